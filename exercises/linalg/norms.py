r"""Norms: how long is a vector, how strong is a matrix?

## Idea

A norm turns a vector or a matrix into one number that says how big it is. There are many, because 'big' has many
meanings: the length of the walk along the streets, the length of the straight line, the largest single entry, the most
that a matrix can stretch anything. Learning algorithms measure errors, steps and penalties with them.

## Maths

**Vectors.** For $x \in \mathbb{R}^n$, the three norms met most often are the L1, the maximum (L∞) and the Euclidean
(L2):

$$\lVert x \rVert_1 = \sum_{i=1}^n |x_i|, \tag{1}$$

$$\lVert x \rVert_\infty = \max_i |x_i|, \tag{2}$$

$$\lVert x \rVert_2 = \Big( \sum_{i=1}^n x_i^2 \Big)^{1/2}. \tag{3}$$

All three belong to one family, with an order $p \ge 1$:

$$\lVert x \rVert_p = \Big( \sum_{i=1}^n |x_i|^p \Big)^{1/p}. \tag{4}$$

With $m = \lVert x \rVert_\infty$, the sum in (4) holds the term $m^p$ and no larger one, so that
$m \le \lVert x \rVert_p \le n^{1/p}\, m$. As $p$ grows, $n^{1/p}$ falls to 1: hence (2) is called $p = \infty$.

Every norm is zero for the zero vector only, obeys the triangle inequality
$\lVert x + y \rVert \le \lVert x \rVert + \lVert y \rVert$, and scales with its argument:

$$\lVert \alpha x \rVert = |\alpha|\, \lVert x \rVert \quad \text{for every number } \alpha. \tag{5}$$

*Equation (5) also rescues the arithmetic.* Double precision holds numbers from about $10^{-308}$ to $10^{308}$. The
vector $(3, 4) \cdot 10^{200}$ has the length $5 \cdot 10^{200}$, which fits, but its squares, of some $10^{401}$, do
not. The squares of $(3, 4) \cdot 10^{-200}$ vanish likewise. Divide by a number that brings the entries near to 1,
take the norm there, and let (5) undo the division.

**Matrices, by what they do.** An $m \times n$ matrix $A$ stretches each vector by some factor. The largest factor is
its *induced* norm:

$$\lVert A \rVert_p = \max_{x \ne 0} \frac{\lVert A x \rVert_p}{\lVert x \rVert_p}. \tag{6}$$

For $p = 1$: $A x = \sum_j x_j a_j$ is a mixture of the columns $a_j$, so $\lVert A x \rVert_1 \le \sum_j |x_j|\, \lVert
a_j \rVert_1 \le \big( \max_j \lVert a_j \rVert_1 \big) \lVert x \rVert_1$. The unit vector that picks the largest
column reaches this bound. Hence

$$\lVert A \rVert_1 = \max_j \sum_i |A_{ij}|. \tag{7}$$

For $p = \infty$: the entry $i$ of $A x$ is at most $\sum_j |A_{ij}|\, \lVert x \rVert_\infty$, and a vector of
well-chosen signs $\pm 1$ reaches it. Hence

$$\lVert A \rVert_\infty = \max_i \sum_j |A_{ij}|. \tag{8}$$

**Matrices, by their singular values.** Every matrix is $A = U \Sigma V^\top$: a rotation (or reflection), a stretch by
$\sigma_1 \ge \sigma_2 \ge \dots \ge 0$ along the axes, and another rotation. Rotations change no Euclidean length, so
all that $A$ can do to lengths is in the vector $\sigma$. Its norms are the *Schatten* norms of $A$:

$$\lVert A \rVert_{S_p} = \lVert \sigma \rVert_p. \tag{9}$$

Three of them have names of their own. $p = \infty$ is the *spectral* norm $\sigma_1$, which is also the induced norm
(6) for $p = 2$. $p = 1$ is the *nuclear* norm, which favours matrices of low rank as L1 favours vectors with many
zeros. $p = 2$ is the *Frobenius* norm; since $\sum_i \sigma_i^2$ is the trace of $A^\top A$, it is also (3) for all
entries of $A$ taken as one long vector.

**Unit balls.** The vectors with $\lVert x \rVert \le 1$ are the unit ball. Along any direction $d$ its edge is one
point: by (5), the only positive multiple of $d$ that has norm 1,

$$x(d) = d \,/\, \lVert d \rVert. \tag{10}$$

In the plane the ball is a diamond for $p = 1$, a disc for $p = 2$, a square for $p = \infty$.

**Equivalence.** Any two of the norms (4) differ at most by constant factors,

$$c\, \lVert x \rVert_q \le \lVert x \rVert_p \le C\, \lVert x \rVert_q \quad \text{for every } x \in \mathbb{R}^n. \tag{11}$$

Take $p \le q$ first. Scale $x$ so that $\lVert x \rVert_p = 1$: all $|x_i| \le 1$, hence $|x_i|^q \le |x_i|^p$ and
$\lVert x \rVert_q \le 1$. So $c = 1$, and a vector with a single non-zero entry shows that no larger $c$ will do. On
the other side, a mean of powers grows with the power, $\big( \tfrac{1}{n} \sum |x_i|^p \big)^{1/p} \le \big(
\tfrac{1}{n} \sum |x_i|^q \big)^{1/q}$, so

$$c = 1, \qquad C = n^{1/p - 1/q} \qquad (p \le q), \tag{12}$$

where $1/\infty = 0$; a vector with all entries equal shows that no smaller $C$ will do. For $p > q$ exchange the roles
of the two norms, and solve for $\lVert x \rVert_p$.

## Worked example

$x = (2, -3, 6)$ has $\lVert x \rVert_1 = 2 + 3 + 6 = 11$, $\lVert x \rVert_2 = \sqrt{4 + 9 + 36} = 7$,
$\lVert x \rVert_3 = (8 + 27 + 216)^{1/3} = 251^{1/3} = 6.308$ and $\lVert x \rVert_\infty = 6$: the norm falls as $p$
grows. By (12) with $n = 3$, L1 can be at most $\sqrt{3} = 1.732$ times L2; here it is $11 / 7 = 1.571$ times.

$A = \begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}$ has columns that sum to 7 and 5 and rows that sum to 3 and 9, so
$\lVert A \rVert_1 = 7$ and $\lVert A \rVert_\infty = 9$. $A^\top A = \begin{pmatrix} 25 & 20 \\ 20 & 25 \end{pmatrix}$
has the eigenvalues 45 and 5; the singular values are their roots, $\sigma = (6.708, 2.236)$. So the spectral norm is
6.708, the nuclear norm $6.708 + 2.236 = 8.944$, and the Frobenius norm $\sqrt{45 + 5} = 7.071$, which is also
$\sqrt{9 + 16 + 25}$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `l1_norm` | a vector | its L1 norm | (1) |
| `max_norm` | a vector | its L∞ norm | (2) |
| `l2_norm` | a vector | its L2 norm, of vectors huge and tiny too | (3), (5) |
| `lp_norm` | a vector, any $p$ from 1 to ∞ | its Lp norm | (4), (5); (2) for ∞ |
| `induced_norm` | a matrix, $p$ = 1 or ∞ | its induced norm | (7), (8) |
| `schatten_norm` | a matrix, any $p$ from 1 to ∞ | nuclear, Frobenius, spectral norm and the rest | (9) |
| `unit_ball_boundary` | angles in the plane, $p$ | where the unit ball ends in each direction | (10) |
| `equivalence_constants` | $p$, $q$, the dimension | $c$ and $C$ | (12) |

`np.linalg.norm` would do most of it, so it is ruled out; `np.linalg.svd` is welcome.

## Pitfalls

- The norm of $(-5, 1)$ comes out as 1, or as -4.
- All is well for everyday numbers, but the answer is `inf`, or 0, for a vector of entries near $10^{200}$ or
  $10^{-200}$.
- The zero vector gives `nan`.
- `induced_norm` is right for symmetric matrices only.

## Cost

$O(n)$ for a vector and $O(mn)$ for an induced norm, all of it in a few passes over memory. The singular values of an
$m \times n$ matrix take $O(mn \min(m, n))$.

## Go further

Experiment: draw $x$ with $n$ normal random entries, and plot $\lVert x \rVert_2 / \sqrt{n}$ for $n$ from 1 to 10,000.
What happens to its spread, and what does that say about 'near' and 'far' in many dimensions? A stretch goal: `l2_norm`
in a single pass over the data, without overflow; [1] is the classic answer, and BLAS still uses a descendant.

## References

1. Blue (1978), A portable Fortran program to find the Euclidean norm of a vector,
   https://doi.org/10.1145/355769.355771
2. Horn & Johnson (2012), Matrix analysis, chapter 5: norms, https://doi.org/10.1017/CBO9781139020411
3. Recht, Fazel & Parrilo (2010), on the nuclear norm and low rank, https://doi.org/10.1137/070697835
"""

# 8 parts to write. Test them with: pytest exercises/linalg/norms.py
# To be written without: numpy.linalg.norm, numpy.linalg.vector_norm, numpy.linalg.matrix_norm, numpy.hypot, math.hypot, math.dist, scipy.linalg

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


def _real(values: ArrayLike, name: str, *, ndim: int) -> np.ndarray:  # given: argument checks
    """Return `values` as an array of floats, or raise a ValueError that says what is wrong with it."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers, got an array of {array.dtype}")
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} {'axis' if ndim == 1 else 'axes'}, got the shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got the shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _check_order(order: float, name: str) -> None:  # given: argument checks
    """Refuse an order below 1, for which (4) breaks the triangle inequality."""
    if not order >= 1:
        raise ValueError(f"{name} must be at least 1, got {order}")


def l1_norm(x: Float[np.ndarray, " n"]) -> float:
    r"""Return the L1 norm of a vector, equation (1): the sum of the absolute values.

    Parameters
    ----------
    x : ndarray
        The vector.

    Returns
    -------
    float
        $\lVert x \rVert_1$.

    Raises
    ------
    ValueError
        If `x` is not a vector of at least one real, finite number.

    Examples
    --------
    >>> print(l1_norm(np.array([3.0, -4.0])))
    7.0
    """
    # given: the check
    x = _real(x, "x", ndim=1)
    raise NotImplementedError("not written yet: l1_norm")


def max_norm(x: Float[np.ndarray, " n"]) -> float:
    r"""Return the maximum norm of a vector, equation (2): the largest absolute value.

    Parameters
    ----------
    x : ndarray
        The vector.

    Returns
    -------
    float
        $\lVert x \rVert_\infty$.

    Raises
    ------
    ValueError
        If `x` is not a vector of at least one real, finite number.

    Examples
    --------
    >>> print(max_norm(np.array([3.0, -4.0])))
    4.0
    """
    # given: the check
    x = _real(x, "x", ndim=1)
    raise NotImplementedError("not written yet: max_norm")


def l2_norm(x: Float[np.ndarray, " n"]) -> float:
    r"""Return the Euclidean norm of a vector, equation (3), wherever the norm itself can be represented.

    Squares that would overflow or vanish must not spoil it: the note, after equation (5), says how.

    Parameters
    ----------
    x : ndarray
        The vector.

    Returns
    -------
    float
        $\lVert x \rVert_2$; 0 for the zero vector.

    Raises
    ------
    ValueError
        If `x` is not a vector of at least one real, finite number.

    Examples
    --------
    >>> print(f"{l2_norm(np.array([3e200, -4e200])):.4g}")
    5e+200
    """
    # given: the check
    x = _real(x, "x", ndim=1)
    raise NotImplementedError("not written yet: l2_norm")


def lp_norm(x: Float[np.ndarray, " n"], p: float) -> float:
    r"""Return the Lp norm of a vector, equation (4), wherever the norm itself can be represented.

    Parameters
    ----------
    x : ndarray
        The vector.
    p : float
        The order, from 1 to infinity. `np.inf` means the maximum norm, equation (2).

    Returns
    -------
    float
        $\lVert x \rVert_p$; 0 for the zero vector.

    Raises
    ------
    ValueError
        If `x` is not a vector of at least one real, finite number, or `p` is below 1.

    Examples
    --------
    >>> print(f"{lp_norm(np.array([1.0, -2.0, 2.0]), p=3):.4f}")
    2.5713
    >>> print(lp_norm(np.array([1.0, -2.0, 2.0]), p=np.inf))
    2.0
    """
    # given: the checks
    x = _real(x, "x", ndim=1)
    _check_order(p, "p")
    raise NotImplementedError("not written yet: lp_norm")


def induced_norm(a: Float[np.ndarray, "n_rows n_cols"], p: float) -> float:
    r"""Return the largest factor by which a matrix stretches a vector, equation (6), for $p$ = 1 or ∞.

    Parameters
    ----------
    a : ndarray
        The matrix, square or not.
    p : float
        1 for equation (7), `np.inf` for equation (8).

    Returns
    -------
    float
        $\lVert A \rVert_p$.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `p` is neither 1 nor infinity.

    Examples
    --------
    >>> a = np.array([[1.0, -2.0, 0.0], [3.0, 1.0, 1.0]])
    >>> print(induced_norm(a, p=1), induced_norm(a, p=np.inf))
    4.0 5.0
    """
    # given: the checks
    a = _real(a, "a", ndim=2)
    if p not in (1, np.inf):
        raise ValueError(f"p must be 1 or np.inf, got {p}")
    raise NotImplementedError("not written yet: induced_norm")


def schatten_norm(a: Float[np.ndarray, "n_rows n_cols"], p: float) -> float:
    r"""Return the Lp norm of the singular values of a matrix, equation (9).

    Parameters
    ----------
    a : ndarray
        The matrix, square or not.
    p : float
        The order, from 1 to infinity: 1 for the nuclear, 2 for the Frobenius, `np.inf` for the spectral norm.

    Returns
    -------
    float
        $\lVert A \rVert_{S_p}$; 0 for the zero matrix.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `p` is below 1.

    Examples
    --------
    >>> a = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, -1.5]])
    >>> print(*(f"{schatten_norm(a, p):.4g}" for p in (1, 2, np.inf)))
    3.5 2.5 2
    """
    # given: the checks
    a = _real(a, "a", ndim=2)
    _check_order(p, "p")
    raise NotImplementedError("not written yet: schatten_norm")


def unit_ball_boundary(angles: Float[np.ndarray, " n_points"], p: float) -> Float[np.ndarray, "n_points 2"]:
    r"""Return the points where the unit ball of the Lp norm in the plane ends, equation (10).

    Parameters
    ----------
    angles : ndarray
        The direction of each point in radians, anticlockwise from the first axis.
    p : float
        The order of the norm, from 1 to infinity.

    Returns
    -------
    ndarray
        For each angle $t$ the multiple of $(\cos t, \sin t)$ whose norm is 1, one point a row.

    Raises
    ------
    ValueError
        If `angles` is not a vector of at least one real, finite number, or `p` is below 1.

    Examples
    --------
    >>> print(unit_ball_boundary(np.array([np.pi / 4]), p=1).round(4))
    [[0.5 0.5]]
    """
    # given: the checks
    angles = _real(angles, "angles", ndim=1)
    _check_order(p, "p")
    raise NotImplementedError("not written yet: unit_ball_boundary")


def equivalence_constants(p: float, q: float, n: int) -> tuple[float, float]:
    r"""Return the best constants $c$ and $C$ of equation (11), which (12) gives for $p \le q$.

    Parameters
    ----------
    p, q : float
        The orders of the two norms, from 1 to infinity, either of them the larger.
    n : int
        The dimension of the vectors, at least 1.

    Returns
    -------
    tuple of float
        $c$ and $C$ such that $c \lVert x \rVert_q \le \lVert x \rVert_p \le C \lVert x \rVert_q$ for all vectors $x$ of
        `n` entries, and with equality for some.

    Raises
    ------
    ValueError
        If `p` or `q` is below 1, or `n` is not a positive whole number.

    Examples
    --------
    >>> c, C = equivalence_constants(1, 2, n=25)
    >>> print(f"{c:.4f} {C:.4f}")
    1.0000 5.0000
    """
    # given: the checks
    _check_order(p, "p")
    _check_order(q, "q")
    if not (n >= 1 and float(n).is_integer()):
        raise ValueError(f"n must be a positive whole number, got {n}")
    raise NotImplementedError("not written yet: equivalence_constants")
