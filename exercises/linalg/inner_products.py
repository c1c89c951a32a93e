r"""Inner products: which lengths, angles and right angles does a weight matrix define?

## Idea

The dot product treats all coordinates alike. That is wrong as soon as they have different units or move together: is a
patient with 2 cm and 1 kg more than the mean more unusual than one with 1 cm and 2 kg? A matrix of weights gives each
pair of coordinates its due, and with it a geometry of its own, in which circles are ellipses and the angle between the
axes need not be 90 degrees. All that is true of dot products remains true, because the new geometry is the old one seen
in other coordinates.

## Maths

For vectors $x, y \in \mathbb{R}^n$ and a symmetric matrix $M$,

$$\langle x, y \rangle_M = x^\top M y = \sum_{i,j} x_i\, M_{ij}\, y_j. \tag{1}$$

This is linear in $x$ and in $y$, and does not change when they trade places. It is an *inner product* if, besides,
$\langle x, x \rangle_M > 0$ for every $x \ne 0$. $M$ is then called *positive definite*, and has a norm:

$$\lVert x \rVert_M = \sqrt{\langle x, x \rangle_M}. \tag{2}$$

$M = I$ gives the dot product; a diagonal $M$ weights each coordinate by itself; the inverse of a covariance matrix
makes $\lVert x - \mu \rVert_M$ the *Mahalanobis distance* of $x$ from the mean $\mu$.

**Cauchy-Schwarz.** For $y \ne 0$ and every number $t$, $0 \le \lVert x - t y \rVert_M^2 = \lVert x \rVert_M^2 - 2 t
\langle x, y \rangle_M + t^2 \lVert y \rVert_M^2$. The right side is smallest at $t = \langle x, y \rangle_M / \lVert y
\rVert_M^2$, and that it is not negative there says

$$|\langle x, y \rangle_M| \le \lVert x \rVert_M \lVert y \rVert_M. \tag{3}$$

So their quotient is a cosine, which is why this *cosine similarity* lies between -1 and 1, and there is an angle

$$\cos \theta = \frac{\langle x, y \rangle_M}{\lVert x \rVert_M \lVert y \rVert_M}, \qquad 0 \le \theta \le \pi. \tag{4}$$

Expanding $\lVert x \pm y \rVert_M^2$ as above, the difference of the two is the *polarisation identity*, by which the
norm alone gives the inner product back, and the sum is the *parallelogram law*, which no norm obeys but those of an
inner product:

$$4 \langle x, y \rangle_M = \lVert x + y \rVert_M^2 - \lVert x - y \rVert_M^2, \qquad
2 \lVert x \rVert_M^2 + 2 \lVert y \rVert_M^2 = \lVert x + y \rVert_M^2 + \lVert x - y \rVert_M^2. \tag{5}$$

**Many vectors.** Let the rows of $X$ be vectors $x_1, \dots, x_m$. All their inner products form the *Gram matrix*

$$G_{ij} = \langle x_i, x_j \rangle_M, \qquad G = X M X^\top, \tag{6}$$

which is $m \times m$ and symmetric. For numbers $c_i$, $c^\top G c = \lVert \sum_i c_i x_i \rVert_M^2 \ge 0$: no
eigenvalue of a Gram matrix is negative, and one is zero if and only if the vectors are linearly dependent. $M$ itself
is the Gram matrix of the axes.

**Is it an inner product?** A symmetric $M$ is positive definite exactly when all its eigenvalues are positive. A
computer cannot ask it that way: an eigenvalue that is truly 0 comes out as some $\pm 10^{-16}$ times the largest, so
the least of them has to exceed a threshold. But which? $\operatorname{diag}(1, 10^{-20})$ is as good as the identity,
in other units. Units are cancelled by giving all axes the length 1:

$$C_{ij} = \frac{M_{ij}}{\sqrt{M_{ii}}\, \sqrt{M_{jj}}}. \tag{7}$$

$x^\top C x$ is $y^\top M y$ with $y_i = x_i / \sqrt{M_{ii}}$, so that $C$ is positive definite exactly when $M$ is.
($C$ holds the cosines between the axes; of a covariance matrix it is the correlation matrix.) By (3), no entry of a
definite $C$ exceeds 1. If each is wrong by a rounding or two, with the machine's precision $\epsilon$, an eigenvalue is
wrong by no more than about $n \epsilon$. So the criterion is: $M$ is square, all $M_{ii} > 0$, and

$$|C_{ij} - C_{ji}| \le 100\, \epsilon \quad \text{for all } i, j, \qquad \lambda_{\min}(C) > 10\, n\, \epsilon. \tag{8}$$

**The same geometry in other coordinates.** If $M = W^\top W$ for a square matrix $W$, then

$$\langle x, y \rangle_M = (W x)^\top (W y). \tag{9}$$

Every question about $M$ is a question about ordinary lengths and angles of the vectors $W x$. Every positive definite
$M$ has such *roots* $W$, many of them. Cholesky's factorisation $M = L L^\top$, $L$ lower triangular, gives one. Since
$\sum_k L_{ik}^2 = M_{ii}$, nothing in its row $i$ exceeds $\sqrt{M_{ii}}$: a coordinate in small units is not drowned
by one in large units.

**An angle with all its digits.** Near 0 the cosine is flat: $\cos \theta \approx 1 - \theta^2 / 2$, so that for
$\theta = 10^{-9}$ it is 1 to all digits, and its arc cosine 0. The same happens near $\pi$. Let $u$ and $v$ be $W x$
and $W y$, each divided by its length. Then $\lVert u \mp v \rVert_2^2 = 2 \mp 2 \cos \theta$, and by the half-angle
formulas

$$\lVert u - v \rVert_2 = 2 \sin \tfrac{\theta}{2}, \qquad \lVert u + v \rVert_2 = 2 \cos \tfrac{\theta}{2}. \tag{10}$$

Their quotient is $\tan (\theta / 2)$, in which the one of the two that is small has kept its digits [1].

**Orthogonal projection.** Let $b_1, \dots, b_k$ span a subspace. The point $p$ of it that is nearest to $x$, in the
norm (2), is the one whose residual is orthogonal to the subspace,

$$\langle b_i, x - p \rangle_M = 0 \quad \text{for all } i, \tag{11}$$

since for any other point $p + d$ of the subspace Pythagoras gives
$\lVert x - p - d \rVert_M^2 = \lVert x - p \rVert_M^2 + \lVert d \rVert_M^2$. Put $p = \sum_j c_j b_j$ into (11): with
the $b_i$ as the rows of $B$ these are the *normal equations* $(B M B^\top)\, c = B M x$. They square the condition number
of $B$, and have no unique solution if the $b_i$ are dependent, although $p$ is still unique. So go to other coordinates:
if the rows of $Q$ are orthonormal and span the same subspace as the vectors $W b_i$, then

$$W p = Q^\top Q\, W x, \tag{12}$$

for then $Q\, W (x - p) = Q W x - Q Q^\top Q W x = 0$. Such a $Q$ comes from the singular value decomposition of the
matrix with the rows $W b_i$, each first divided by the largest of its absolute values (a row of zeros by 1), which
changes no span. Its right singular vectors that belong to $\sigma_i > k\, n\, \epsilon$ are the rows of $Q$. The others
could be mere rounding: a rounding of $\epsilon$ in each of the $k\, n$ entries, none of which exceeds 1, moves a
singular value by no more than $\sqrt{k\, n}\, \epsilon$.

## Worked example

$M = \begin{pmatrix} 2 & 1 \\ 1 & 2 \end{pmatrix}$ has the eigenvalues 3 and 1, so it is an inner product. For the axes
$x = (1, 0)$ and $y = (0, 1)$ it gives $\langle x, y \rangle_M = 1$ and
$\lVert x \rVert_M = \lVert y \rVert_M = \sqrt 2$. Hence $\cos \theta = \tfrac12$: the axes meet at 60 degrees. With the
third vector $x + y = (1, 1)$ the Gram matrix is $\begin{pmatrix} 2 & 1 & 3 \\ 1 & 2 & 3 \\ 3 & 3 & 6 \end{pmatrix}$,
whose last row is the sum of the others: one eigenvalue is 0.

A root is $W = \begin{pmatrix} 1.4142 & 0.7071 \\ 0 & 1.2247 \end{pmatrix}$: the columns $W x$ and $W y$ have the length
$\sqrt 2$ and the dot product 1. Divided by $\sqrt 2$ they are $u = (1, 0)$ and $v = (0.5, 0.8660)$, so
$\lVert u - v \rVert = 1$, $\lVert u + v \rVert = 1.7321$, and half the angle has the tangent 0.5774: it is 30 degrees.

The projection of $y$ onto the line along $x$ is $p = \tfrac{1}{2} x = (0.5, 0)$, not $0$ as for the dot product. The
residual $(-0.5, 1)$ has the inner product $2 \cdot (-0.5) + 1 \cdot 1 = 0$ with $x$, and $\lVert p \rVert_M^2 + \lVert
y - p \rVert_M^2 = 0.5 + 1.5 = \lVert y \rVert_M^2$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `inner_product` | two vectors, a weight or none | their inner product | (1) |
| `gram_matrix` | vectors as rows, a weight or none | all their inner products | (6) |
| `is_inner_product` | any matrix | whether it is a symmetric positive definite weight | (7), (8) |
| `weight_root` | a weight | one of its roots $W$ | (9) |
| `weighted_norm` | a vector, a weight or none | its length | (2), (9) |
| `angle` | two vectors, a weight or none | the angle between them, with all its digits | (10) |
| `orthogonal_projection` | a vector, vectors that span a subspace as rows, a weight or none | the nearest point | (12) |

No weight means $M = I$: then $W = I$ as well, and nothing need be multiplied by it. `np.linalg.norm` is ruled out, as
it overflows; `l2_norm` of `linalg/norms` does not.

## Pitfalls

- A weight of rank 2 in three dimensions passes for positive definite, and the lengths of some vectors come out as
  `nan`.
- A weight with entries near $10^{-30}$, or one that mixes millimetres and tonnes, is refused although it is sound.
- Lengths are right for diagonal weights only.
- Vectors of entries near $10^{200}$ have the length infinity.
- Two directions that differ in the ninth digit have the angle 0, or `nan`.
- The residual of a projection is orthogonal to the dot product's taste, rather than to the weight's.
- A projection onto two nearly parallel vectors has few right digits, and onto two parallel ones it fails.

## Cost

$O(n^2)$ for one inner product, $O(m n^2 + m^2 n)$ for a Gram matrix of $m$ vectors, $O(n^3)$ for the eigenvalues of $C$
and for a root. `weighted_norm` and `angle` pay that in each call: with 50 coordinates, some 40 times as long as SciPy's
Mahalanobis distance, which trusts its weight. For many vectors under one weight, compute the root once. Without a
weight, `angle` takes some 14 times as long as three dot products do, for 100,000 entries: the price of its digits and
of any scale. A projection takes $O(n k \min(n, k))$ besides.

## Go further

Experiment: draw 1,000 points of a strongly correlated normal distribution in the plane, and compare how many of them
lie within distance 2 of the mean: by the ordinary length, and by the one weighted with the inverse of their covariance.
Mark the points that the two lengths judge most differently. A stretch goal: the principal angles between two subspaces
under a weight [2].

## References

1. Kahan (2006), How futile are mindless assessments of roundoff in floating-point computation?, section 12,
   https://people.eecs.berkeley.edu/~wkahan/Mindless.pdf
2. Knyazev & Argentati (2002), Principal angles between subspaces in an A-based scalar product,
   https://doi.org/10.1137/S1064827500377332
3. Higham (2002), Accuracy and stability of numerical algorithms, chapter 10: Cholesky factorization,
   https://doi.org/10.1137/1.9780898718027
4. De Maesschalck, Jouan-Rimbaud & Massart (2000), The Mahalanobis distance,
   https://doi.org/10.1016/S0169-7439(99)00047-7
"""

# 7 parts to write. Test them with: pytest exercises/linalg/inner_products.py
# To be written without: numpy.linalg.norm, numpy.linalg.vector_norm, scipy.linalg, scipy.spatial

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, symmetric_matrix
from mlpath.linalg.norms import l2_norm


def _vector(values: np.ndarray, name: str, *, dim: int | None = None) -> np.ndarray:  # given: argument checks
    """Return `values` as a vector of floats, with `dim` entries if that is given, or raise a ValueError."""
    vector = real_array(values, name, ndim=1)
    if dim is not None and len(vector) != dim:
        raise ValueError(f"{name} must have {dim} entries, got {len(vector)}")
    return vector


def _weight(weight: np.ndarray | None, dim: int) -> np.ndarray | None:  # given: argument checks
    """Return the weight as a symmetric matrix for vectors of `dim` entries, or None for none, or raise a ValueError."""
    if weight is None:
        return None
    matrix = symmetric_matrix(weight, "weight")
    if len(matrix) != dim:
        raise ValueError(f"weight must have the shape ({dim}, {dim}), got {matrix.shape}")
    return matrix


def inner_product(
    x: Float[np.ndarray, " dim"], y: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> float:
    r"""Return the inner product of two vectors under a weight, equation (1).

    Parameters
    ----------
    x, y : ndarray
        Two vectors of the same length.
    weight : ndarray, optional
        The matrix $M$, symmetric. That it is positive definite too is not checked here: `is_inner_product` tells. The
        identity if None.

    Returns
    -------
    float
        $\langle x, y \rangle_M$.

    Raises
    ------
    ValueError
        If `x` or `y` is not a vector of real, finite numbers, `y` has not as many as `x`, or `weight` is not a
        symmetric matrix of that size.

    Examples
    --------
    >>> x, y = np.array([1.0, -2.0]), np.array([3.0, 1.0])
    >>> print(inner_product(x, y), inner_product(x, y, weight=np.array([[2.0, 1.0], [1.0, 5.0]])))
    1.0 -9.0
    """
    # given: the checks
    x = _vector(x, "x")
    y = _vector(y, "y", dim=len(x))
    weight = _weight(weight, len(x))
    raise NotImplementedError("not written yet: inner_product")


def gram_matrix(
    vectors: Float[np.ndarray, "n_vectors dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> Float[np.ndarray, "n_vectors n_vectors"]:
    r"""Return the inner products of all pairs of vectors, equation (6).

    Parameters
    ----------
    vectors : ndarray
        The vectors, one a row, as samples are.
    weight : ndarray, optional
        The matrix $M$, symmetric. The identity if None.

    Returns
    -------
    ndarray
        The Gram matrix: entry (i, j) belongs to rows i and j. Up to rounding it is symmetric and, if `weight` is
        positive definite, has no negative eigenvalue.

    Raises
    ------
    ValueError
        If `vectors` is not a matrix of real, finite numbers, or `weight` is not a symmetric matrix with as many rows as
        `vectors` has columns.

    Examples
    --------
    >>> print(gram_matrix(np.array([[1.0, 2.0, 0.0], [3.0, -1.0, 1.0]])))
    [[ 5.  1.]
     [ 1. 11.]]
    """
    # given: the checks
    vectors = real_array(vectors, "vectors", ndim=2)
    weight = _weight(weight, vectors.shape[1])
    raise NotImplementedError("not written yet: gram_matrix")


def is_inner_product(matrix: Float[np.ndarray, "n_rows n_cols"]) -> bool:
    r"""Say whether a matrix defines an inner product, by the criterion (8).

    Whatever units the coordinates are in, the answer is the same: the matrix is first scaled by (7). Entries may be as
    small as $10^{-300}$ or as large as $10^{300}$, in one and the same matrix too.

    Parameters
    ----------
    matrix : ndarray
        Any matrix.

    Returns
    -------
    bool
        True if it is square, symmetric but for rounding, and positive definite beyond rounding. False for all others,
        among them semidefinite, indefinite, unsymmetric, rectangular ones and the zero matrix.

    Raises
    ------
    ValueError
        If `matrix` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> print(
    ...     is_inner_product(np.array([[2.0, 1.0], [1.0, 2.0]])), is_inner_product(np.array([[1.0, 2.0], [2.0, 1.0]]))
    ... )
    True False
    """
    # given: the check
    matrix = real_array(matrix, "matrix", ndim=2)
    raise NotImplementedError("not written yet: is_inner_product")


def weight_root(weight: Float[np.ndarray, "dim dim"]) -> Float[np.ndarray, "dim dim"]:
    r"""Return a matrix $W$ with $W^\top W = M$, as equation (9) needs it.

    Parameters
    ----------
    weight : ndarray
        The matrix $M$.

    Returns
    -------
    ndarray
        Any root will do, triangular, symmetric or neither, provided that each entry (i, j) of $W^\top W$ is that of $M$
        up to some roundings of $\sqrt{M_{ii} M_{jj}}$. In float32 if `weight` is.

    Raises
    ------
    ValueError
        If `weight` is not a matrix of real, finite numbers, or `is_inner_product` says no.

    Examples
    --------
    >>> weight = np.array([[4.0, 6.0], [6.0, 25.0]])
    >>> w = weight_root(weight)
    >>> print((w.T @ w).round(4))
    [[ 4.  6.]
     [ 6. 25.]]
    """
    # given: the checks
    weight = real_array(weight, "weight", ndim=2)
    if not is_inner_product(weight):
        raise ValueError(f"weight must be symmetric and positive definite, got {weight}")
    raise NotImplementedError("not written yet: weight_root")


def weighted_norm(x: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None) -> float:
    r"""Return the length of a vector under a weight, equation (2), wherever the length itself can be represented.

    Through (9) it is the length of $W x$, and a sum of squares that cannot come out negative.

    Parameters
    ----------
    x : ndarray
        The vector. Its entries may be so large or small that their squares are infinite or 0.
    weight : ndarray, optional
        The matrix $M$, symmetric and positive definite. The identity if None.

    Returns
    -------
    float
        $\lVert x \rVert_M$; 0 for the zero vector.

    Raises
    ------
    ValueError
        If `x` is not a vector of real, finite numbers, or `weight` is not a symmetric positive definite matrix of its
        size.

    Examples
    --------
    >>> print(f"{weighted_norm(np.array([3.0, 1.0]), weight=np.array([[2.0, 1.0], [1.0, 2.0]])):.4f}")
    5.0990
    """
    # given: the checks
    x = _vector(x, "x")
    weight = _weight(weight, len(x))
    raise NotImplementedError("not written yet: weighted_norm")


def angle(
    x: Float[np.ndarray, " dim"], y: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> float:
    r"""Return the angle between two vectors under a weight, by equation (10).

    Without a weight, it is off by no more than some roundings of 1, so that small angles, and those that are nearly
    $\pi$, have as many right digits as the vectors themselves warrant. How long the vectors are does not matter, from
    1e-300 to 1e300.

    Parameters
    ----------
    x, y : ndarray
        Two vectors of the same length, neither of them zero.
    weight : ndarray, optional
        The matrix $M$, symmetric and positive definite. The identity if None.

    Returns
    -------
    float
        The angle in radians, from 0 (same direction) to $\pi$ (opposite).

    Raises
    ------
    ValueError
        If `x` or `y` is zero or not a vector of real, finite numbers, `y` has not as many as `x`, or `weight` is not a
        symmetric positive definite matrix of that size.

    Examples
    --------
    >>> x, y = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    >>> print(f"{angle(x, y):.4f}, {angle(x, y, weight=np.array([[2.0, 1.0], [1.0, 2.0]])):.4f}")
    1.5708, 1.0472
    """
    # given: the checks
    x = _vector(x, "x")
    y = _vector(y, "y", dim=len(x))
    weight = _weight(weight, len(x))
    for name, vector in (("x", x), ("y", y)):
        if not vector.any():
            raise ValueError(f"{name} must not be zero, got {vector}")
    raise NotImplementedError("not written yet: angle")


def orthogonal_projection(
    x: Float[np.ndarray, " dim"],
    spanning: Float[np.ndarray, "n_vectors dim"],
    weight: Float[np.ndarray, "dim dim"] | None = None,
) -> Float[np.ndarray, " dim"]:
    r"""Return the point of a subspace that is nearest to a vector, in the norm of a weight, by equation (12).

    Parameters
    ----------
    x : ndarray
        The vector.
    spanning : ndarray
        Vectors that span the subspace, one a row. Their lengths do not matter, from 1e-300 to
        1e300. They may be nearly dependent, dependent
        (what depends on others within rounding adds nothing), more than the space has dimensions, or zero.
    weight : ndarray, optional
        The matrix $M$, symmetric and positive definite. The identity if None.

    Returns
    -------
    ndarray
        $p$, such that $x - p$ is orthogonal to all spanning vectors, equation (11). In float32 if all arguments are.

    Raises
    ------
    ValueError
        If `x` is not a vector or `spanning` not a matrix of real, finite numbers, `spanning` has not as many columns as
        `x` has entries, or `weight` is not a symmetric positive definite matrix of that size.

    Examples
    --------
    >>> x, line = np.array([0.0, 1.0]), np.array([[3.0, 0.0]])
    >>> print(orthogonal_projection(x, line), orthogonal_projection(x, line, weight=np.array([[2.0, 1.0], [1.0, 2.0]])))
    [0. 0.] [0.5 0. ]
    """
    # given: the checks
    x = _vector(x, "x")
    spanning = real_array(spanning, "spanning", ndim=2)
    if spanning.shape[1] != len(x):
        raise ValueError(f"spanning must have {len(x)} columns, got the shape {spanning.shape}")
    weight = _weight(weight, len(x))
    raise NotImplementedError("not written yet: orthogonal_projection")
