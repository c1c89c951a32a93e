r"""Matrix completion and robust PCA: low rank from holes and from gross errors.

## Idea

Of a table of ratings one has seen a few in a hundred entries; of a photograph some pixels are lost; of a film each
picture shows the same place and something that moves. In all of these a matrix of low rank is hidden, and the SVD
cannot be asked for it: it does not know holes, and one wrong entry of great size turns all of its directions. But low
rank can be wished for, by a penalty: the sum of the singular values. That is convex, and what it needs at each step is
an SVD whose values are shrunk.

## Maths

**Shrinking numbers.** Which number is near $y$ and small? For $\tau \ge 0$

$$\operatorname{soft}_\tau(y) = \arg\min_x\; \tfrac12 (x - y)^2 + \tau \lvert x \rvert = \operatorname{sign}(y)\, \max(\lvert y \rvert - \tau,\, 0), \tag{1}$$

since the derivative $x - y \pm \tau$ vanishes at $y \mp \tau$, and if that has changed its sign the minimum is at the
corner, 0. Small numbers become exactly 0.

**Shrinking singular values.** The *nuclear norm* $\lVert Z \rVert_*$ is the sum of the singular values, as the $\ell_1$
norm of a vector is that of its moduli; it prefers few to many. With $Y = U \operatorname{diag}(\sigma) V^\top$

$$\mathcal D_\tau(Y) = \arg\min_Z\; \tfrac12 \lVert Z - Y \rVert_F^2 + \tau \lVert Z \rVert_* = U \operatorname{diag}\big(\operatorname{soft}_\tau(\sigma)\big)\, V^\top. \tag{2}$$

Among all matrices $Z$ with given singular values $\zeta$ that with the same vectors as $Y$ is the nearest [1], at the
squared distance $\sum_i (\zeta_i - \sigma_i)^2$, so that (1) remains for each of them. A subgradient says the same: $Z$
solves (2) just if

$$Y - Z = \tau\, G, \qquad G = U_1 V_1^\top + W, \quad U_1^\top W = 0, \quad W V_1 = 0, \quad \lVert W \rVert_2 \le 1, \tag{3}$$

with $U_1, V_1$ the singular vectors of $Z$ that belong to values above 0. Such matrices $G$ are the subgradients of the
nuclear norm at $Z$.

**Completion.** Let $P$ keep the observed entries of a matrix and put 0 for the others. We want

$$\min_Z f(Z), \qquad f(Z) = \tfrac12 \lVert P(A - Z) \rVert_F^2 + \lambda \lVert Z \rVert_*. \tag{4}$$

If nothing were missing, that would be (2). So let the present $Z$ tell what is missing [2]:

$$Z \leftarrow \mathcal D_\lambda\big( P(A) + Z - P(Z) \big). \tag{5}$$

The function $\tfrac12 \lVert P(A) + Z_k - P(Z_k) - Z \rVert_F^2 + \lambda \lVert Z \rVert_*$ lies nowhere below $f$,
since it counts the unobserved entries as well, and touches it at $Z_k$. Its minimum, (5), therefore has
$f(Z_{k+1}) \le f(Z_k)$: $f$ never rises. Where (5) stands still, (3) says that $P(A - Z) = \lambda G$, which is the
condition for the minimum of (4), a convex function.

**Where to begin.** $Z = 0$ is the solution just if $P(A) = \lambda G$ for a $G$ with $\lVert G \rVert_2 \le 1$, that is
from

$$\lambda_{\max} = \lVert P(A) \rVert_2, \text{ the largest singular value,} \tag{6}$$

upwards. Go down from there, and start at each $\lambda$ with the solution of the one before: near it, and of low rank.
Which $\lambda$ is best is decided by entries that were held back.

**Gross errors.** Now all entries are there, but some are wrong, by any amount, and nobody knows which: $A = L + S$, $L$
of low rank and $S$ sparse. *Principal component pursuit* [3] is

$$\min_{L, S}\; \lVert L \rVert_* + w\, \lVert S \rVert_1 \quad \text{with } L + S = A, \qquad w = \frac1{\sqrt{\max(m, n)}}, \tag{7}$$

for $A$ of the shape $m \times n$ and $\lVert S \rVert_1$ the sum of all moduli. Candès, Li, Ma and Wright prove that it
finds both *exactly*, with high probability, if $L$ is not itself sparse, its rank is at most a constant times
$n / \log^2 n$ and the wrong entries are at most a constant share, scattered at random. There is nothing to tune, and
the size of the errors does not matter.

**Alternating directions.** Put the constraint into the function, with multipliers $M$ and a penalty $\mu$: $\lVert L
\rVert_* + w \lVert S \rVert_1 + \langle M, A - L - S \rangle + \tfrac\mu2 \lVert A - L - S
\rVert_F^2$. The last two terms are $\tfrac\mu2 \lVert A - L - S + M / \mu
\rVert_F^2$ but for a constant. So the minimum over $L$ alone is (2), that over $S$ alone is (1), and then the
multipliers take up what is left of the constraint:

$$L \leftarrow \mathcal D_{1 / \mu}\big(A - S + \tfrac1\mu M\big), \qquad
S \leftarrow \operatorname{soft}_{w / \mu}\big(A - L + \tfrac1\mu M\big), \qquad
M \leftarrow M + \mu\, (A - L - S), \tag{8}$$

each with the newest of the others, from $S = M = 0$. It converges for every $\mu > 0$; [3] advises

$$\mu = \frac{m n}{4 \lVert A \rVert_1}, \tag{9}$$

and to stop when $\lVert A - L - S \rVert_F \le 10^{-7} \lVert A \rVert_F$.

## Worked example

$Y = \begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}$ has the singular values $6.708$ and $2.236$ with
$u_1 = (1, 3)/\sqrt{10}$, $v_1 = (1, 1)/\sqrt 2$. For $\tau = 3$ the second vanishes, and $\mathcal D_3(Y) = 3.708\, u_1
v_1^\top = \begin{pmatrix} 0.829 & 0.829 \\ 2.488 & 2.488 \end{pmatrix}$.

$A = \begin{pmatrix} 2 & 4 \\ 1 & ? \end{pmatrix}$ with $\lambda = 1$. From $Z = 0$ the first step shrinks
$\begin{pmatrix} 2 & 4 \\ 1 & 0 \end{pmatrix}$, whose singular values $4.5$ and $0.89$ become $3.5$ and 0: $Z$ has
$0.32$ in the hole. That is filled in, and again: $0.52$, $0.64$, $0.71$, $\dots$ up to $0.83$. Without the penalty,
rank 1 would have 2 there: everything comes out too small, which is what $\lambda$ costs. By (6) $Z = 0$ from
$\lambda = 4.5$ on.

For $A = \begin{pmatrix} 1 & 1 \\ 1 & 9 \end{pmatrix}$ (9) gives $\mu = 4/48$, and so $1/\mu = 12$ shrinks all to
$L = 0$ in the first step of (8); with $w = 0.707$ the threshold for $S$ is $8.485$: only the 9 is above it, and $S$ has
the one entry $0.515$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `soft_threshold` | numbers, $\tau$ | them, shrunk | (1) |
| `shrink_singular_values` | a matrix, $\tau$ | $\mathcal D_\tau$, and its singular values | (2) |
| `objective` | the data, a candidate, $\lambda$ | $f$ | (4) |
| `largest_penalty` | the data | $\lambda_{\max}$ | (6) |
| `soft_impute` | the data, $\lambda$, perhaps a start | the completed matrix, and how it went | (5) |
| `soft_impute_path` | the data, several $\lambda$ | a completion for each | (5), from the last |
| `pursuit_step` | a matrix, $S$, $M$, $\mu$, $w$ | the next $L$, $S$, $M$ | (8) |
| `robust_pca` | a matrix, perhaps $w$ | $L$, $S$, and how it went | (8), (9), (7) |

The data are a matrix and a mask, true where an entry was observed; what stands elsewhere, be it NaN, does not count.
`_norm`, which neither under- nor overflows, and `_observed`, which checks the data and puts 0 into the holes, are
given.

## Pitfalls

- One hole, marked by NaN, and everything is NaN.
- The holes are filled with numbers near 0: they were taken for observed zeros.
- The objective rises now and then.
- It stops after the first step, or never. Relative to what is the change small?
- $L + S$ is not $A$, though the iteration is said to have converged; or it takes thousands of steps: the multipliers
  have the wrong sign, or the thresholds were exchanged.
- All is well for square matrices, and for long ones nothing is found.

## Cost

An SVD in each iteration, $O(m n \min(m, n))$. It is soft-impute's virtue that the matrix it decomposes is sparse plus
low rank, $P(A - Z) + Z$, so that large problems need no more than the first few singular vectors, by Lanczos' method;
we form it. What is still to be gained falls only like one over the number of iterations when many entries are missing,
and warm starts are what makes it bearable. `robust_pca` takes some 30 to 100 steps, and a thousand where the errors are
ten thousand times as large as the rest: (9) is small then. There is no production peer that solves these problems in
the same form, and so no benchmark.

## Go further

Experiment: at what share of wrong entries does `robust_pca` fail for rank 1, 3 and 6 of a $40 \times 40$ matrix? And if
they all stand in one row? A stretch goal: the singular values come out too small by $\lambda$. Fit them anew, by least
squares on the observed entries with the singular vectors kept, and compare the errors on entries held back.

## References

1. Cai, Candès & Shen (2010), A singular value thresholding algorithm for matrix completion,
   https://doi.org/10.1137/080738970
2. Mazumder, Hastie & Tibshirani (2010), Spectral regularization algorithms for learning large incomplete matrices,
   https://jmlr.org/papers/v11/mazumder10a.html
3. Candès, Li, Ma & Wright (2011), Robust principal component analysis?, https://doi.org/10.1145/1970392.1970395
4. Candès & Recht (2009), Exact matrix completion via convex optimization, https://doi.org/10.1007/s10208-009-9045-5
"""

# 8 parts to write. Test them with: pytest exercises/linalg/matrix_completion.py
# To be written without: sklearn, tensorly, cvxpy, fancyimpute, torch

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array

Matrix = Float[np.ndarray, "n_rows n_cols"]
Mask = Bool[np.ndarray, "n_rows n_cols"]


@dataclass(frozen=True)
class Completion:
    """A completed matrix, and how it was found.

    Attributes
    ----------
    matrix : ndarray of shape (n_rows, n_cols)
        The last iterate: of low rank, and near the observed entries.
    singular_values : ndarray of shape (min(n_rows, n_cols),)
        Its singular values, from the largest, most of them 0.
    objectives : ndarray of shape (n_iterations,)
        The objective (4) after each iteration.
    changes : ndarray of shape (n_iterations,)
        How far each iteration moved, relative to the norm of the observed entries.
    converged : bool
        Whether the last change is at most the tolerance.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> Completion(one, one[0], np.array([0.5]), np.array([1.0]), converged=False).objectives
    array([0.5])
    """

    matrix: Matrix
    singular_values: Float[np.ndarray, " n_values"]
    objectives: Float[np.ndarray, " n_iterations"]
    changes: Float[np.ndarray, " n_iterations"]
    converged: bool


@dataclass(frozen=True)
class RobustPCA:
    """A matrix taken apart, and how it was done.

    Attributes
    ----------
    low_rank, sparse : ndarray of shape (n_rows, n_cols)
        The two parts L and S.
    residuals : ndarray of shape (n_iterations,)
        The norm of A - L - S, relative to that of A, after each iteration.
    converged : bool
        Whether the last residual is at most the tolerance.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> RobustPCA(one, one, np.array([0.5]), converged=False).residuals
    array([0.5])
    """

    low_rank: Matrix
    sparse: Matrix
    residuals: Float[np.ndarray, " n_iterations"]
    converged: bool


def _check_level(level: float, name: str, *, zero: bool = False) -> float:  # given: argument checks
    """Return a number as a float of Python's, which leaves float32 as it is, if it is finite and above 0, or also 0 where that is allowed."""
    if not (0 < level < np.inf or (zero and level == 0)):
        raise ValueError(f"{name} must be {'0 or more' if zero else 'positive'} and finite, got {level}")
    return float(level)


def _check_driver(tol: float, max_iterations: int) -> None:  # given: argument checks
    """Raise a ValueError unless an iteration can be ended by these."""
    _check_level(tol, "tol", zero=True)
    if max_iterations != int(max_iterations) or max_iterations < 1:
        raise ValueError(f"max_iterations must be a whole number above 0, got {max_iterations}")


def _same_shape(values: ArrayLike, name: str, a: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return a matrix of the shape and the precision of `a`."""
    matrix = real_array(values, name, ndim=2)
    if matrix.shape != a.shape:
        raise ValueError(f"{name} must be of the shape {a.shape}, got {matrix.shape}")
    return matrix.astype(a.dtype)


def _observed(a: ArrayLike, mask: ArrayLike) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return the matrix with 0 where nothing was observed, and the mask."""
    known = np.asarray(mask)
    if known.dtype != bool or known.shape != np.shape(a) or not known.any():
        raise ValueError(f"mask must be true or false for each entry of a, once true, got {mask}")
    return real_array(np.where(known, a, np.zeros(1, dtype=np.asarray(a).dtype)), "a", ndim=2), known


def _norm(matrix: np.ndarray) -> float:  # given: a norm that neither under- nor overflows
    """Return the Frobenius norm."""
    largest = float(np.abs(matrix).max())
    return largest * float(np.linalg.norm(matrix / largest)) if largest > 0 else 0.0


def soft_threshold(x: Float[np.ndarray, "*shape"], level: float) -> Float[np.ndarray, "*shape"]:
    r"""Move every number towards 0 by a level, and those that are nearer to 0 than that: to 0, equation (1).

    Parameters
    ----------
    x : ndarray
        Numbers, in any shape.
    level : float
        $\tau$, 0 or more.

    Returns
    -------
    ndarray
        The numbers shrunk, in the shape and the precision of `x`.

    Raises
    ------
    ValueError
        If `x` is empty or not of real, finite numbers, or `level` is negative or not finite.

    Examples
    --------
    >>> soft_threshold(np.array([[3.0, -0.5], [-2.5, 1.0]]), 1.0)
    array([[ 2. , -0. ],
           [-1.5,  0. ]])
    """
    # given: the checks
    x = real_array(x, "x", ndim=np.ndim(x))
    level = _check_level(level, "level", zero=True)
    raise NotImplementedError("not written yet: soft_threshold")


def shrink_singular_values(a: Matrix, level: float) -> tuple[Matrix, Float[np.ndarray, " n_values"]]:
    r"""Soft-threshold the singular values of a matrix, equation (2).

    Parameters
    ----------
    a : ndarray
        The matrix Y.
    level : float
        $\tau$, 0 or more.

    Returns
    -------
    matrix : ndarray
        The matrix with the same singular vectors and smaller singular values, in the precision of `a`.
    values : ndarray
        Its singular values: as many as `a` has rows or columns, whichever are less, from the largest.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `level` is negative or not finite.

    Examples
    --------
    >>> matrix, values = shrink_singular_values(np.array([[3.0, 0.0], [4.0, 5.0]]), 3.0)
    >>> print(matrix.round(3), values.round(3))
    [[0.829 0.829]
     [2.488 2.488]] [3.708 0.   ]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    level = _check_level(level, "level", zero=True)
    raise NotImplementedError("not written yet: shrink_singular_values")


def objective(a: Matrix, mask: Mask, matrix: Matrix, penalty: float) -> float:
    r"""Return the objective of matrix completion, equation (4).

    Parameters
    ----------
    a : ndarray
        The data. What stands where the mask is false does not count, be it NaN.
    mask : ndarray of bool
        True where an entry was observed.
    matrix : ndarray
        The candidate Z.
    penalty : float
        $\lambda$, positive.

    Returns
    -------
    float
        Half of the squared error on the observed entries, and the penalty on all singular values.

    Raises
    ------
    ValueError
        If the mask is not boolean, not of the shape of `a` or nowhere true, observed entries or `matrix` are not real
        and finite, shapes differ, or `penalty` is not positive.

    Examples
    --------
    >>> a, mask = np.array([[2.0, 4.0], [1.0, np.nan]]), np.array([[True, True], [True, False]])
    >>> objective(a, mask, np.array([[3.0, 0.0], [0.0, 0.0]]), 0.5)
    10.5
    """
    # given: the checks
    a, mask = _observed(a, mask)
    matrix = _same_shape(matrix, "matrix", a)
    penalty = _check_level(penalty, "penalty")
    raise NotImplementedError("not written yet: objective")


def largest_penalty(a: Matrix, mask: Mask) -> float:
    r"""Return the least penalty for which the completion is all zero, equation (6).

    Parameters
    ----------
    a : ndarray
        The data. What stands where the mask is false does not count, be it NaN.
    mask : ndarray of bool
        True where an entry was observed.

    Returns
    -------
    float
        $\lambda_{\max}$.

    Raises
    ------
    ValueError
        If the mask is not boolean, not of the shape of `a` or nowhere true, or observed entries are not real and
        finite.

    Examples
    --------
    >>> a, mask = np.array([[2.0, 4.0], [1.0, np.nan]]), np.array([[True, True], [True, False]])
    >>> round(largest_penalty(a, mask), 4)
    4.4954
    """
    # given: the checks
    a, mask = _observed(a, mask)
    raise NotImplementedError("not written yet: largest_penalty")


def soft_impute(
    a: Matrix, mask: Mask, penalty: float, *, start: Matrix | None = None, tol: float = 1e-5, max_iterations: int = 1000
) -> Completion:
    r"""Complete a matrix: fill the holes from the present estimate and shrink the singular values, again and again, equation (5).

    Parameters
    ----------
    a : ndarray
        The data. What stands where the mask is false does not count, be it NaN.
    mask : ndarray of bool
        True where an entry was observed. Rows and columns may be without any: they are completed by zeros if they start
        from zeros.
    penalty : float
        $\lambda$, positive.
    start : ndarray, optional
        The first estimate. By default zeros.
    tol : float
        It ends when an iteration moves by at most this, in the Frobenius norm and relative to that of the observed
        entries. Give what is needed: the way that is still to go is longer than the last step.
    max_iterations : int
        The most iterations.

    Returns
    -------
    Completion
        The last iterate, in the precision of `a`, objectives and changes of all iterations, and whether it ended by
        `tol`.

    Raises
    ------
    ValueError
        If arguments are refused as by `objective`, `tol` is negative, or `max_iterations` no whole number above 0.

    Examples
    --------
    >>> a, mask = np.array([[2.0, 4.0], [1.0, np.nan]]), np.array([[True, True], [True, False]])
    >>> soft_impute(a, mask, 1.0, max_iterations=1).matrix.round(2)
    array([[1.62, 3.08],
           [0.17, 0.32]])
    """
    # given: the checks, and the start
    a, mask = _observed(a, mask)
    penalty = _check_level(penalty, "penalty")
    _check_driver(tol, max_iterations)
    matrix = np.zeros_like(a) if start is None else _same_shape(start, "start", a)
    values, size = np.zeros(min(a.shape), dtype=a.dtype), _norm(a) or 1.0
    raise NotImplementedError("not written yet: soft_impute")


def soft_impute_path(
    a: Matrix, mask: Mask, penalties: Sequence[float], *, tol: float = 1e-5, max_iterations: int = 1000
) -> list[Completion]:
    r"""Complete a matrix for several penalties, each from the solution of the one before.

    Parameters
    ----------
    a : ndarray
        The data. What stands where the mask is false does not count, be it NaN.
    mask : ndarray of bool
        True where an entry was observed.
    penalties : sequence of float
        Values of $\lambda$, positive: best from the largest to the smallest.
    tol : float
        As in `soft_impute`, for each.
    max_iterations : int
        As in `soft_impute`, for each.

    Returns
    -------
    list of Completion
        One for each penalty, in the same order. The first starts from zeros.

    Raises
    ------
    ValueError
        If there is no penalty, or `soft_impute` refuses.

    Examples
    --------
    >>> a, mask = np.array([[2.0, 4.0], [1.0, np.nan]]), np.array([[True, True], [True, False]])
    >>> [round(float(c.matrix[1, 1]), 2) for c in soft_impute_path(a, mask, [5.0, 1.0, 0.1])]
    [0.0, 0.83, 1.78]
    """
    # given: the checks
    if len(penalties) == 0:
        raise ValueError(f"penalties must be one or more, got {penalties}")
    raise NotImplementedError("not written yet: soft_impute_path")


def pursuit_step(
    a: Matrix, sparse: Matrix, multipliers: Matrix, *, mu: float, weight: float
) -> tuple[Matrix, Matrix, Matrix]:
    r"""Make one step of principal component pursuit by alternating directions, equation (8).

    Parameters
    ----------
    a : ndarray
        The matrix to be taken apart.
    sparse, multipliers : ndarray
        The present S and M, of the shape of `a`.
    mu : float
        $\mu$, positive.
    weight : float
        $w$, positive.

    Returns
    -------
    low_rank, sparse, multipliers : ndarray
        The next L, S and M, in the precision of `a`, each made from the newest of the others.

    Raises
    ------
    ValueError
        If the matrices are not of real, finite numbers or not of one shape, or `mu` or `weight` is not positive.

    Examples
    --------
    >>> a = np.array([[1.0, 1.0], [1.0, 9.0]])
    >>> low, sparse, multipliers = pursuit_step(a, 0 * a, 0 * a, mu=1 / 12, weight=0.5**0.5)
    >>> sparse.round(3)
    array([[0.   , 0.   ],
           [0.   , 0.515]])
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    sparse, multipliers = _same_shape(sparse, "sparse", a), _same_shape(multipliers, "multipliers", a)
    mu, weight = _check_level(mu, "mu"), _check_level(weight, "weight")
    raise NotImplementedError("not written yet: pursuit_step")


def robust_pca(a: Matrix, *, weight: float | None = None, tol: float = 1e-7, max_iterations: int = 1000) -> RobustPCA:
    r"""Take a matrix apart into one of low rank and a sparse one: principal component pursuit, equation (7), by the steps (8).

    Parameters
    ----------
    a : ndarray
        The matrix, not all zero.
    weight : float, optional
        $w$, positive. By default as in (7): one over the root of the number of rows or columns, whichever is larger.
    tol : float
        It ends when the norm of A - L - S is at most this, relative to that of A.
    max_iterations : int
        The most steps.

    Returns
    -------
    RobustPCA
        The two parts in the precision of `a`, the residuals after each step, and whether it ended by `tol`. For c times
        the matrix they are c times as large.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers or all zero, `weight` is not positive, `tol` negative, or
        `max_iterations` no whole number above 0.

    Examples
    --------
    >>> a = np.outer(np.arange(1.0, 9.0), np.ones(7))
    >>> a[2, 3] = 40.0
    >>> parts = robust_pca(a)
    >>> parts.low_rank[2, :5].round(3), parts.sparse[2, :5].round(3)
    (array([3., 3., 3., 3., 3.]), array([ 0.,  0.,  0., 37.,  0.]))
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if not a.any():
        raise ValueError(f"a must not be all zero, got zeros of the shape {a.shape}")
    if weight is not None:
        _check_level(weight, "weight")
    _check_driver(tol, max_iterations)
    size = _norm(a)
    raise NotImplementedError("not written yet: robust_pca")
