r"""Projections: the shadow of a vector on a subspace, straight down or along a slant.

## Idea

At noon a pole casts no shadow but its own foot; in the evening the same pole's shadow is longer than the pole. Both are
projections: what has landed on the ground stays there if it is projected again. The straight one answers 'which point
of the subspace is nearest?', and with it least squares, distances, mirror images. The slanted ones can make things
longer, without bound as the light gets flatter, which is why they are handled with care.

## Maths

A *projector* is a square matrix $P$ that changes nothing when it is applied a second time:

$$P^2 = P. \tag{1}$$

Every vector then splits into $x = P x + (I - P) x$. The first part is in the range of $P$, where $P$ does nothing; the
second is in its null space, since $P (x - P x) = P x - P x = 0$.

**Straight down.** The projector is *orthogonal* if the two parts always are. Let the columns of $A$ ($m \times n$) span
the subspace. The residual $x - A c$ of the nearest point $A c$ is orthogonal to all columns, so
$A^\top A\, c = A^\top x$, and if the columns are independent,

$$P = A (A^\top A)^{-1} A^\top. \tag{2}$$

In exact numbers this is the end of the story. In rounded ones it is not, as Läuchli's matrix shows [1]:

$$A = \begin{pmatrix} 1 & 1 \\ \varepsilon & 0 \\ 0 & \varepsilon \end{pmatrix}, \qquad
A^\top A = \begin{pmatrix} 1 + \varepsilon^2 & 1 \\ 1 & 1 + \varepsilon^2 \end{pmatrix}.$$

With $\varepsilon = 10^{-9}$ the columns are independent for all to see, but $1 + 10^{-18}$ is rounded to 1 and
$A^\top A$ has no inverse. Forming $A^\top A$ squares the condition number. If the columns of $Q$ are an *orthonormal*
basis of the same subspace, there is nothing to invert:

$$P = Q Q^\top, \qquad P x = Q\, (Q^\top x). \tag{3}$$

The brackets matter: $Q Q^\top$ has $m^2$ entries, whereas $Q^\top x$ has as many as the subspace has dimensions.

**An orthonormal basis** comes from the singular value decomposition $U \Sigma V^\top$ of $A$. The left singular vectors
that belong to $\sigma_i > 0$ span the columns. After rounding, no $\sigma_i$ is exactly 0. And what is small depends on
units: a column of metres beside one of kilometres is not negligible. So first divide each column by its largest entry
(a column of zeros by 1), which changes no span. Then a rounding of $\epsilon$, the machine's precision, in each of the
$m\, n$ entries moves a singular value by at most $\sqrt{m\, n}\, \epsilon$, and the columns of $Q$ are the left
singular vectors with

$$\sigma_i > m\, n\, \epsilon. \tag{4}$$

Their number is the *rank*.

**Distance.** The nearest point to $x$ of the affine subspace $\{ o + A c \}$ is $o + P (x - o)$, so the distance is

$$d(x) = \lVert (I - P) (x - o) \rVert_2. \tag{5}$$

**Mirror images.** From $x$ to $P x$ is half of the way to the image of $x$ on the other side:

$$R x = x + 2 (P x - x), \qquad R = 2 P - I. \tag{6}$$

$R^2 = 4 P^2 - 4 P + I = I$, and with $P = P^\top$ this is $R^\top R = I$: lengths stay. The case that numerical linear
algebra is built of is *Householder's*: the mirror is the hyperplane orthogonal to a vector $v$, the projector
$I - v v^\top / v^\top v$, and

$$H = I - 2\, \frac{v v^\top}{v^\top v}. \tag{7}$$

It is minus the reflection through the line along $v$. With $v = x - y$ it sends $x$ to $y$, whenever both are equally
long.

**How close do two subspaces come?** Let $Q$ and $Z$ be orthonormal bases of two subspaces. Of all pairs of unit vectors
$Q s$, $Z t$, the smallest angle $\theta$ has the largest cosine $s^\top Q^\top Z t$, which is the largest singular
value of $Q^\top Z$. Its sine is the least distance of a unit vector $Z t$ from the first subspace. By (5) that is the
least length of $(I - Q Q^\top) Z t$, so

$$\cos \theta = \sigma_{\max}(Q^\top Z), \qquad \sin \theta = \sigma_{\min}(Z - Q Q^\top Z). \tag{8}$$

Near 0 the sine has the digits, near $\pi / 2$ the cosine; the arc tangent of their quotient has them everywhere [2].

**Along a slant.** Let $\mathcal{U}$ and $\mathcal{V}$ be *complementary*: every vector is $x = u + v$ with
$u \in \mathcal{U}$, $v \in \mathcal{V}$ in exactly one way. The projector *onto* $\mathcal{U}$ *along* $\mathcal{V}$
keeps $u$ and drops $v$. If the columns of $Q$ ($m \times k$) and $Z$ ($m \times l$) are orthonormal bases of
$\mathcal{U}$ and $\mathcal{V}$, then $x = Q s + Z t$, where $s$ and $t$ solve the system with the matrix
$S = (Q \; Z)$. It has one solution for each $x$ exactly when $k + l = m$ and $S$ has the rank $m$; and

$$P = Q\, (\text{the first } k \text{ rows of } S^{-1}). \tag{9}$$

How long can it make things? Of all $x$ that have the same part $u$, the shortest is the one whose $v$ is the nearest to
$-u$: its length is the distance of $u$ from $\mathcal{V}$, at least $\lVert u \rVert \sin \theta$ with the smallest
angle (8) between $\mathcal{U}$ and $\mathcal{V}$. Hence

$$\lVert P \rVert_2 = \max_x \frac{\lVert P x \rVert_2}{\lVert x \rVert_2} = \frac{1}{\sin \theta}, \tag{10}$$

if neither is $\{0\}$. It is 1 for orthogonal projectors alone. Rounding errors in $x$ are stretched as $x$ is.

**Least squares.** To fit $b$ by a mixture $A c$ of columns is to project $b$:

$$\text{fitted values} = P b, \qquad \text{residual} = b - P b, \qquad A^\top (b - P b) = 0. \tag{11}$$

The fitted values are unique, since the nearest point is. The coefficients $c$ with $A c = P b$ are unique only if the
columns are independent. With $A = U \Sigma V^\top D$, where $D$ holds the largest entries of the columns, and with only
the $\sigma_i$ of (4) kept, $P = U U^\top$, and $U \Sigma V^\top D\, c = U U^\top b$ is solved by

$$c = D^{-1} V \Sigma^{-1} U^\top b. \tag{12}$$

## Worked example

Take the line of all multiples of $a = (3, 4)$. Then $Q = (0.6, 0.8)^\top$ up to its sign, and
$P = \begin{pmatrix} 0.36 & 0.48 \\ 0.48 & 0.64 \end{pmatrix}$. The point $x = (5, 0)$ has $Q^\top x = 3$ and
$P x = (1.8, 2.4)$; its distance from the line is $\lVert (3.2, -2.4) \rVert = 4$, and its mirror image $(-1.4, 4.8)$,
which is as long as $x$. The distance from the parallel line through $o = (5, 5)$ is that of $x - o = (0, -5)$ from the
first line: $\lVert (0, -5) - (-2.4, -3.2) \rVert = \lVert (2.4, -1.8) \rVert = 3$.

Now onto the same line, but along $(0, 1)$. The two meet at an angle with the cosine 0.8 and the sine 0.6. From
$x = s Q + t (0, 1)$ follows $s = x_1 / 0.6$, so $P = \begin{pmatrix} 1 & 0 \\ 1.3333 & 0 \end{pmatrix}$, whose norm is
$\sqrt{1 + 1.7778} = 1.6667 = 1 / 0.6$.

Least squares: fit $b = (1, 2, 6)$ by the columns $(1, 1, 1)$ and $(2, 2, 2)$. The fitted values are the mean,
$(3, 3, 3)$, the residual $(-2, -1, 3)$ sums to 0, and the coefficients may be $(3, 0)$, $(1, 1)$ or many others. Scaled
by $D = (1, 2)$ both columns are the same, and (12) shares the 3 among them: $c = D^{-1} (1.5, 1.5) = (1.5, 0.75)$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `orthonormal_basis` | columns that span a subspace | the columns of $Q$ | (4) |
| `project` | a vector, such columns | the nearest point of the subspace | (3) |
| `projector` | such columns | the matrix $P$ | (3) |
| `distance_to_subspace` | a vector, such columns, an origin or none | the distance | (5) |
| `reflect` | a vector, such columns | its mirror image | (6) |
| `smallest_angle` | two sets of such columns | the angle between the subspaces | (8) |
| `oblique_projector` | columns to project onto, columns to project along | the matrix $P$ | (9) |
| `least_squares_fit` | columns, a vector to be fitted | coefficients, fitted values, residual, rank | (11), (12) |

`np.linalg.lstsq` and `np.linalg.pinv` would do some of it, so they are ruled out; `np.linalg.svd` and `np.linalg.qr`
are welcome. The columns here stand where the rows of `linalg/inner_products` did: as the factor $A$ of $A c$, and as
the features of a regression.

## Pitfalls

- Nearly parallel columns give a projector with entries of 1,000, or an error that says 'singular'.
- A column given twice makes the subspace larger.
- A column in tiny units is ignored.
- A projector that should be symmetric is not, or is not its own square.
- A vector of 100,000 entries cannot be projected for want of memory.
- Fitted values change when a column is added that depends on the others.
- An oblique projector turns out transposed, or with range and null space exchanged.

## Cost

The SVD of an $m \times n$ matrix takes $O(m n \min(m, n))$. Applying $Q$ and $Q^\top$ takes $O(m n)$, and forming $P$
takes $O(m^2 n)$, and $m^2$ memory, which is why it is formed only on demand. Where columns are known to be well
separated a QR factorisation gives $Q$ in a fraction of the time; it does not tell the rank. An oblique projector takes
$O(m^3)$.

## Go further

Experiment: let two lines in the plane meet at an angle from 90 degrees down to 0.01. Project 1,000 random unit vectors
onto one along the other, with a noise of $10^{-3}$ added before. How does the error of the result grow, and where does
it say (10)? A stretch goal: alternate between the projections onto two subspaces. The points converge to the
intersection, at a rate that the smallest angle between what is left of the subspaces outside their intersection
decides; find the rate [3].

## References

1. Läuchli (1961), Jordan-Elimination und Ausgleichung nach kleinsten Quadraten, https://doi.org/10.1007/BF01386022
2. Björck & Golub (1973), Numerical methods for computing angles between linear subspaces,
   https://doi.org/10.1090/S0025-5718-1973-0348991-3
3. Deutsch (2001), Best approximation in inner product spaces, chapter 9: the method of alternating projections,
   https://doi.org/10.1007/978-1-4684-9298-9
4. Szyld (2006), The many proofs of an identity on the norm of oblique projections,
   https://doi.org/10.1007/s11075-006-9046-2
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array
from mlpath.linalg.norms import l2_norm


@dataclass(frozen=True)
class LeastSquaresFit:
    """What `least_squares_fit` returns.

    Attributes
    ----------
    coefficients : ndarray of shape (n_cols,)
        How much of each column the fitted values hold, equation (12). One of many solutions if the columns are
        dependent.
    fitted : ndarray of shape (n_rows,)
        The fitted values, equation (11).
    residual : ndarray of shape (n_rows,)
        What is left, orthogonal to all columns.
    rank : int
        The dimension of the space that the columns span.

    Examples
    --------
    >>> fit = LeastSquaresFit(np.array([2.0]), fitted=np.array([2.0, 4.0]), residual=np.array([-2.0, 1.0]), rank=1)
    >>> print(fit.fitted + fit.residual)
    [0. 5.]
    """

    coefficients: Float[np.ndarray, " n_cols"]
    fitted: Float[np.ndarray, " n_rows"]
    residual: Float[np.ndarray, " n_rows"]
    rank: int


def _vector(values: np.ndarray, name: str, n_rows: int) -> np.ndarray:  # given: argument checks
    """Return `values` as a vector of `n_rows` floats, or raise a ValueError."""
    vector = real_array(values, name, ndim=1)
    if len(vector) != n_rows:
        raise ValueError(f"{name} must have {n_rows} entries, got {len(vector)}")
    return vector


def _svd(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the singular value decomposition of the scaled columns, cut off by (4), and the scales."""
    scales = np.abs(a).max(axis=0)
    scales[scales == 0] = 1
    u, sizes, vt = np.linalg.svd(a / scales, full_matrices=False)
    kept = sizes > a.size * np.finfo(a.dtype).eps
    return u[:, kept], sizes[kept], vt[kept], scales


def orthonormal_basis(a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, "n_rows rank"]:
    r"""Return an orthonormal basis of the space that the columns of a matrix span, by equation (4).

    Parameters
    ----------
    a : ndarray
        The columns. Their lengths do not matter. They may be nearly dependent, dependent (what depends on others within
        rounding adds nothing), more than there are rows, or zero.

    Returns
    -------
    ndarray
        $Q$, one basis vector a column, as many as the rank; none if all columns are zero. Any basis will do. In float32
        if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> q = orthonormal_basis(np.array([[3.0, 6.0], [4.0, 8.0]]))
    >>> print(q.shape, np.abs(q).round(4).ravel())
    (2, 1) [0.6 0.8]
    """
    # given: the check
    a = real_array(a, "a", ndim=2)
    # yours
    return _svd(a)[0]


def project(x: Float[np.ndarray, " n_rows"], a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, " n_rows"]:
    r"""Return the orthogonal projection of a vector onto the span of columns, by equation (3).

    No matrix of `n_rows` times `n_rows` is formed: it would be too large for long vectors.

    Parameters
    ----------
    x : ndarray
        The vector.
    a : ndarray
        Columns that span the subspace, as `orthonormal_basis` takes them.

    Returns
    -------
    ndarray
        $P x$, the point of the subspace that is nearest to `x`. In float32 if both arguments are.

    Raises
    ------
    ValueError
        If `a` is not a matrix or `x` not a vector of real, finite numbers, or `x` has not one entry for each row of
        `a`.

    Examples
    --------
    >>> print(project(np.array([5.0, 0.0]), np.array([[3.0], [4.0]])).round(4))
    [1.8 2.4]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    x = _vector(x, "x", len(a))
    # yours
    q = orthonormal_basis(a)
    return q @ (q.T @ x)


def projector(a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, "n_rows n_rows"]:
    r"""Return the matrix that projects orthogonally onto the span of columns, equation (3).

    Parameters
    ----------
    a : ndarray
        Columns that span the subspace, as `orthonormal_basis` takes them.

    Returns
    -------
    ndarray
        $P$: up to rounding symmetric, its own square, and with the rank as its trace. In float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> print(projector(np.array([[3.0], [4.0]])).round(4))
    [[0.36 0.48]
     [0.48 0.64]]
    """
    # given: the check
    a = real_array(a, "a", ndim=2)
    # yours
    q = orthonormal_basis(a)
    return q @ q.T


def distance_to_subspace(
    x: Float[np.ndarray, " n_rows"],
    a: Float[np.ndarray, "n_rows n_cols"],
    origin: Float[np.ndarray, " n_rows"] | None = None,
) -> float:
    r"""Return the distance of a vector from a subspace, or from an affine one, equation (5).

    Parameters
    ----------
    x : ndarray
        The vector. Its entries may be so large or small that their squares are infinite or 0.
    a : ndarray
        Columns that span the subspace, as `orthonormal_basis` takes them.
    origin : ndarray, optional
        The point $o$ through which the subspace goes. The zero vector if None.

    Returns
    -------
    float
        The distance, right to some roundings of the length of $x - o$.

    Raises
    ------
    ValueError
        If `a` is not a matrix or `x` or `origin` not a vector of real, finite numbers, or one of the two has not one
        entry for each row of `a`.

    Examples
    --------
    >>> x, line = np.array([5.0, 0.0]), np.array([[3.0], [4.0]])
    >>> print(f"{distance_to_subspace(x, line):.4f} {distance_to_subspace(x, line, origin=np.array([5.0, 5.0])):.4f}")
    4.0000 3.0000
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    x = _vector(x, "x", len(a))
    if origin is not None:
        origin = _vector(origin, "origin", len(a))
    # yours
    offset = x if origin is None else x - origin
    return l2_norm(offset - project(offset, a))


def reflect(x: Float[np.ndarray, " n_rows"], a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, " n_rows"]:
    r"""Return the mirror image of a vector, with the span of columns as the mirror, equation (6).

    Parameters
    ----------
    x : ndarray
        The vector.
    a : ndarray
        Columns that span the mirror, as `orthonormal_basis` takes them. If they span all there is, `x` stays; if they
        are zero, it is reflected through the origin.

    Returns
    -------
    ndarray
        $R x$, as long as `x`. In float32 if both arguments are.

    Raises
    ------
    ValueError
        If `a` is not a matrix or `x` not a vector of real, finite numbers, or `x` has not one entry for each row of
        `a`.

    Examples
    --------
    >>> print(reflect(np.array([5.0, 0.0]), np.array([[3.0], [4.0]])).round(4))
    [-1.4  4.8]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    x = _vector(x, "x", len(a))
    # yours
    return 2 * project(x, a) - x


def smallest_angle(a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, "n_rows n_others"]) -> float:
    r"""Return the smallest angle between a vector of one subspace and a vector of another, equation (8).

    Parameters
    ----------
    a, b : ndarray
        Columns that span the subspaces, as `orthonormal_basis` takes them, with as many rows; not all of them zero.

    Returns
    -------
    float
        The angle in radians: 0 if the subspaces share more than the zero vector, $\pi / 2$ if they are orthogonal.
        Where the columns are well separated it is right to some roundings of 1, near 0 and near $\pi / 2$ too.

    Raises
    ------
    ValueError
        If `a` or `b` is not a matrix of real, finite numbers, or is zero, or `b` has not as many rows as `a`.

    Examples
    --------
    >>> plane = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> print(f"{smallest_angle(plane, np.array([[1.0], [0.0], [1.0]])):.4f}")
    0.7854
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    b = real_array(b, "b", ndim=2)
    if len(b) != len(a):
        raise ValueError(f"b must have {len(a)} rows, got the shape {b.shape}")
    for name, matrix in (("a", a), ("b", b)):
        if not matrix.any():
            raise ValueError(f"{name} must not be zero, got {matrix}")
    # yours
    q, z = orthonormal_basis(a), orthonormal_basis(b)
    shared = q.T @ z
    cosine = np.linalg.svd(shared, compute_uv=False)[0]
    sine = np.linalg.svd(z - q @ shared, compute_uv=False)[-1]
    return float(np.arctan2(sine, cosine))


def oblique_projector(
    onto: Float[np.ndarray, "n_rows n_onto"], along: Float[np.ndarray, "n_rows n_along"]
) -> Float[np.ndarray, "n_rows n_rows"]:
    r"""Return the matrix that projects onto one subspace along another, equation (9).

    Parameters
    ----------
    onto : ndarray
        Columns that span the subspace where the shadows fall, as `orthonormal_basis` takes them.
    along : ndarray
        Columns that span the directions of the light, likewise, with as many rows.

    Returns
    -------
    ndarray
        $P$, which keeps what is in the span of `onto` and sends what is in the span of `along` to 0. In float32 if both
        arguments are.

    Raises
    ------
    ValueError
        If `onto` or `along` is not a matrix of real, finite numbers, `along` has not as many rows as `onto`, or the two
        are not complementary: their dimensions do not add up to `n_rows`, or their bases side by side have a lower rank
        than that by the criterion (4).

    Examples
    --------
    >>> print(oblique_projector(onto=np.array([[3.0], [4.0]]), along=np.array([[0.0], [1.0]])).round(4))
    [[1.     0.    ]
     [1.3333 0.    ]]
    """
    # given: the checks
    onto = real_array(onto, "onto", ndim=2)
    along = real_array(along, "along", ndim=2)
    if len(along) != len(onto):
        raise ValueError(f"along must have {len(onto)} rows, got the shape {along.shape}")
    # yours
    q, z = orthonormal_basis(onto), orthonormal_basis(along)
    n_rows, n_onto = q.shape
    both = np.hstack([q, z])
    if both.shape[1] != n_rows or orthonormal_basis(both).shape[1] < n_rows:
        raise ValueError(f"onto and along must be complementary, got spans of {n_onto} and {z.shape[1]} in {n_rows}")
    return q @ np.linalg.inv(both)[:n_onto]


def least_squares_fit(a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, " n_rows"]) -> LeastSquaresFit:
    r"""Fit a vector by a mixture of columns, with the least sum of squared residuals: equations (11) and (12).

    Parameters
    ----------
    a : ndarray
        The columns, as `orthonormal_basis` takes them; more columns than rows too.
    b : ndarray
        The vector to be fitted.

    Returns
    -------
    LeastSquaresFit
        Coefficients, fitted values, residual and rank. The fitted values do not depend on which of many coefficients
        are chosen. In float32 if both arguments are.

    Raises
    ------
    ValueError
        If `a` is not a matrix or `b` not a vector of real, finite numbers, or `b` has not one entry for each row of
        `a`.

    Examples
    --------
    >>> fit = least_squares_fit(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([2.0, 1.0, 6.0]))
    >>> print(fit.coefficients.round(4), fit.fitted.round(4), fit.residual.round(4), fit.rank)
    [1. 2.] [1. 3. 5.] [ 1. -2.  1.] 2
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    b = _vector(b, "b", len(a))
    # yours
    u, sizes, vt, scales = _svd(a)
    coordinates = u.T @ b
    fitted = u @ coordinates
    return LeastSquaresFit(vt.T @ (coordinates / sizes) / scales, fitted, b - fitted, rank=len(sizes))
