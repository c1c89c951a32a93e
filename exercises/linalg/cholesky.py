r"""Cholesky: the square root of a covariance, and all that it is good for.

## Idea

A positive number has a square root; a positive definite matrix has a triangular one, $A = L L^\top$. Covariances, Gram
matrices and Hessians at a minimum are of this kind, so this is the factorisation that statistics runs on. It takes half
the work of LU and no exchange of rows. With $L$ in hand you solve, take log-determinants, draw from a Gaussian and
evaluate its density; and when a new observation changes $A$ a little, $L$ follows for a fraction of the price.

## Maths

A symmetric $A$ is *positive definite* if $v^\top A v > 0$ for every $v \ne 0$. We look for a lower triangular $L$ with

$$A = L L^\top, \qquad L_{jj} > 0. \tag{1}$$

**Column by column.** For $i \ge j$ the entry $A_{ij} = \sum_{k \le j} L_{ik} L_{jk}$ ends at $k = j$, as $L_{jk} = 0$
beyond. If the columns before $j$ are known, only the last term of that sum is not. For $i = j$ and for $i > j$ it gives

$$L_{jj} = \Big( A_{jj} - \sum_{k < j} L_{jk}^2 \Big)^{1/2}, \tag{2}$$

$$L_{ij} = \Big( A_{ij} - \sum_{k < j} L_{ik} L_{jk} \Big) \Big/ L_{jj}, \qquad i > j. \tag{3}$$

The root is the whole question. The upper left $j \times j$ block of $A$ is $L L^\top$ of the same blocks of $L$, so its
determinant, the *leading minor* of order $j$, is $L_{11}^2 \cdots L_{jj}^2$. What stands in the brackets of (2) is
therefore the leading minor of order $j$ over that of order $j - 1$. All minors of a positive definite matrix are
positive. If a bracket is 0 or negative, the matrix is not positive definite: there is no faster test.

Elimination without pivoting was dangerous because entries may grow. Here they cannot: (2) says $\sum_{k \le j} L_{jk}^2
= A_{jj}$, so

$$|L_{jk}| \le A_{jj}^{1/2}. \tag{4}$$

**Without roots, and beyond definite.** Take the diagonal out of both factors:

$$A = L D L^\top, \qquad L_{jj} = 1, \qquad D = \operatorname{diag}(d_1, \dots, d_n). \tag{5}$$

The same argument gives

$$d_j = A_{jj} - \sum_{k < j} L_{jk}^2\, d_k, \qquad
L_{ij} = \Big( A_{ij} - \sum_{k < j} L_{ik}\, d_k\, L_{jk} \Big) \Big/ d_j. \tag{6}$$

There is no root, so $d_j$ may be negative: symmetric matrices that are not definite have such factors too, as long as
no leading minor is 0. Sylvester's law says that $A$ has as many positive, negative and zero eigenvalues as $d$ has such
entries. If some $d_j$ is 0 and so are all brackets below it, then $L_{ij} = 0$ will do. If one of them is not 0, then
nothing times $d_j$ makes it, and there are no such factors: $\begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}$ has none.
Nor does (4) hold here: a small $d_j$ makes huge entries. A trustworthy method for indefinite matrices exchanges rows
and columns and admits $2 \times 2$ blocks in $D$ (Bunch and Kaufman [1]); that is left out here.

**Solving, and the determinant.** $A x = b$ is $L (L^\top x) = b$, two triangular systems:

$$L y = b, \qquad L^\top x = y. \tag{7}$$

$$\log \det A = 2 \sum_j \log L_{jj}. \tag{8}$$

**One more observation.** Let $A' = A + x x^\top$. Put $x$ beside $L$ as one more column:

$$A' = \begin{pmatrix} L & x \end{pmatrix} \begin{pmatrix} L & x \end{pmatrix}^\top. \tag{9}$$

If two columns $u$, $x$ of a matrix are replaced by

$$u' = c\, u + s\, x, \qquad x' = c\, x - s\, u, \qquad c^2 + s^2 = 1, \tag{10}$$

then $u' u'^\top + x' x'^\top = u u^\top + x x^\top$ (multiply out: the mixed terms cancel), so (9) still holds. This is
a *rotation*. Rotate $x$ with column 1 of $L$ such that $x_1$ becomes 0, then what has become of $x$ with column 2 such
that $x_2$ becomes 0, and so on. After column $n$ nothing is left of $x$, and what stands in the place of $L$ is the
factor of $A'$. For column $k$, $x'_k = c\, x_k - s\, L_{kk} = 0$ gives

$$r = \big( L_{kk}^2 + x_k^2 \big)^{1/2}, \qquad c = L_{kk} / r, \qquad s = x_k / r, \tag{11}$$

and the new diagonal entry is $c\, L_{kk} + s\, x_k = r$. Zeros above row $k$ stay zeros. The price is $O(n^2)$. [2] has
this and many variants.

**One observation less.** Let $A' = A - x x^\top$. Then $A = A' + x x^\top$ is an update of the unknown $A'$, whose
*result* we hold. So (10) is to be read backwards [3]: $u'$ is the known column of $L$, and $u$ is what we look for.
With the known $r = L_{kk}$, (11) says what the new diagonal entry is, and what $c$ and $s$ are:

$$L'_{kk} = \big( L_{kk}^2 - x_k^2 \big)^{1/2}, \qquad c = L'_{kk} / L_{kk}, \qquad s = x_k / L_{kk}, \tag{12}$$

and (10), solved for the old column, becomes

$$u = (u' - s\, x) / c, \qquad x' = c\, x - s\, u. \tag{13}$$

If the bracket of (12) is 0 or negative at some column, $A - x x^\top$ is not positive definite: more was taken away
than there was. Close to that border digits are lost, by nature of the problem: the smallest eigenvalue of $A'$ is a
difference of large numbers.

**Gaussians.** Let $z$ have independent standard normal entries, so that its covariance is $I$. Then

$$x = \mu + L z \tag{14}$$

has the mean $\mu$ and the covariance $L I L^\top = \Sigma$ if $L$ is the factor of $\Sigma$; and what is linear in a
Gaussian is Gaussian. Backwards, $z = L^{-1} (x - \mu)$ is standard normal, $z^\top z = (x - \mu)^\top \Sigma^{-1} (x -
\mu)$, and the density is

$$\log p(x) = -\tfrac12 \big( z^\top z + d \log 2\pi + \log \det \Sigma \big), \qquad L z = x - \mu, \tag{15}$$

with $d$ the number of entries of $x$. No inverse is ever formed.

## Worked example

$$A = \begin{pmatrix} 4 & 2 & -2 \\ 2 & 5 & 3 \\ -2 & 3 & 14 \end{pmatrix}.$$

Column 1: $L_{11} = \sqrt 4 = 2$, below it $2/2 = 1$ and $-2/2 = -1$. Column 2: $L_{22} = \sqrt{5 - 1} = 2$,
$L_{32} = (3 - (-1) \cdot 1) / 2 = 2$. Column 3: $L_{33} = \sqrt{14 - 1 - 4} = 3$. So

$$L = \begin{pmatrix} 2 & & \\ 1 & 2 & \\ -1 & 2 & 3 \end{pmatrix}, \qquad
\log \det A = 2 \log (2 \cdot 2 \cdot 3) = \log 144 = 4.970.$$

(5) has $d = (4, 4, 9)$, and each column of its $L$ is divided by the diagonal entry: $(1, \tfrac12, -\tfrac12)$ and
$(1, 1)$.

For $b = (10, 9, -10)$: $y = (5,\; (9 - 5) / 2,\; (-10 + 5 - 4) / 3) = (5, 2, -3)$, then $x_3 = -1$, $x_2 = (2 + 2) / 2
= 2$, $x_1 = (5 - 2 - 1) / 2 = 1$.

Update with $x = (1.5, 2.625, 0.5)$. Column 1: $r = \sqrt{4 + 2.25} = 2.5$, $c = 0.8$, $s = 0.6$. The column $(2, 1,
-1)$ becomes $(2.5,\; 0.8 + 1.575,\; -0.8 + 0.3) = (2.5, 2.375, -0.5)$, and $x$ becomes $(0,\; 2.1 - 0.6,\; 0.4 + 0.6) =
(0, 1.5, 1)$. Column 2: again $r = 2.5$, $c = 0.8$, $s = 0.6$; $(2, 2)$ becomes $(2.5, 2.2)$, and $x$ becomes $(0, 0,
0.8 - 1.2) = (0, 0, -0.4)$. Column 3: $r = \sqrt{9 + 0.16} = 3.027$. A check: the lower right entry of $A'$ is $0.25 +
4.84 + 9.16 = 14.25$, which is $14 + 0.5^2$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `cholesky` | a positive definite matrix | its factor $L$ | (2), (3) |
| `ldl` | a symmetric matrix | unit triangle and $d$ | (6) |
| `solve` | $L$, right-hand sides | the solutions | (7) |
| `log_determinant` | $L$ | $\log \det A$ | (8) |
| `update` | $L$, $x$ | the factor of $A + x x^\top$ | (10), (11) |
| `downdate` | $L$, $x$ | the factor of $A - x x^\top$ | (12), (13) |
| `sample_gaussian` | mean, covariance, how many | independent draws, one a row | (14) |
| `gaussian_log_density` | points, mean, covariance | the log density at each | (15) |

The substitutions are those of `linalg/lu`, imported for you. NumPy's and SciPy's factorisations are ruled out, and so
are ready-made Gaussians, such as the method `multivariate_normal` of a generator: `standard_normal` is all you need.

## Pitfalls

- A matrix that is not positive definite yields `nan` instead of an error.
- $L L^\top$ is right on the diagonal only.
- After an update the first column is right and the others are not.
- The factor of an update is right, but the vector that was handed over has changed.
- Draws have the right mean and the right correlations for two variables of equal variance, and for no others.
- The log density is off by the same amount everywhere.

## Cost

$\tfrac13 n^3$ operations for the factor, half those of LU, as only one triangle is computed; $2 n^2$ for each
right-hand side, $3 n^2$ for an update or downdate, $2 n^2$ for each draw.

`cholesky` brings one column up to date at a time, which is a product of a matrix with a vector: each step reads all
columns before it from memory. LAPACK works in blocks, by products of matrices that stay in the cache. Measured on one
thread, ours takes 18 times as long at $n = 100$, where nearly all is the cost of small steps in Python, 4 times at $n =
500$ and 3 times at 1000. Against so fast a peer an update, with its $n$ steps in Python, pays only from $n = 1000$
onwards; compiled, it would far earlier.

## Go further

An experiment: take a sequence of updates and downdates with the same vectors, forwards and then backwards, and watch
how far the factor comes back to where it began; then let the vectors grow until a downdate is nearly refused. A stretch
goal: the block version (split $A$ in $2 \times 2$ blocks, and (2) and (3) hold for blocks), or a Kalman filter that
carries $L$ in place of the covariance.

What is not here: pivoting for matrices that are only semidefinite, sparse matrices with their orderings, Bunch and
Kaufman.

## References

1. Higham (2002), Accuracy and stability of numerical algorithms, chapters 10 and 11,
   https://doi.org/10.1137/1.9780898718027
2. Gill, Golub, Murray & Saunders (1974), Methods for modifying matrix factorizations,
   https://doi.org/10.2307/2005923
3. Bojanczyk, Brent, Van Dooren & de Hoog (1987), A note on downdating the Cholesky factorization,
   https://doi.org/10.1137/0908031
"""

# 8 parts to write. Test them with: pytest exercises/linalg/cholesky.py
# To be written without: numpy.linalg.cholesky, numpy.linalg.solve, numpy.linalg.inv, numpy.linalg.det, numpy.linalg.slogdet, numpy.random.multivariate_normal, scipy.linalg, scipy.stats

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix
from mlpath.linalg.lu import back_substitution, forward_substitution


def _factor(lower: ArrayLike) -> np.ndarray:  # given: argument checks
    """Return a Cholesky factor as an array of floats, with zeros above its diagonal, or raise a ValueError."""
    lower = np.tril(square_matrix(lower, "lower"))
    if not (np.diagonal(lower) > 0).all():
        raise ValueError(f"lower must have a positive diagonal, got {np.diagonal(lower)}")
    return lower


def _factor_and_vector(lower: ArrayLike, x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return copies of a Cholesky factor and a vector that fits, both in the precision of the result."""
    lower, x = _factor(lower), real_array(x, "x", ndim=1)
    if len(x) != len(lower):
        raise ValueError(f"x must have {len(lower)} entries, got the shape {x.shape}")
    dtype = np.result_type(lower, x)
    return lower.astype(dtype), x.astype(dtype)


def _mean_and_covariance(mean: ArrayLike, covariance: ArrayLike) -> tuple[np.ndarray, np.ndarray]:  # given: checks
    """Return both as arrays of floats, or raise a ValueError if they do not fit."""
    covariance, mean = symmetric_matrix(covariance, "covariance"), real_array(mean, "mean", ndim=1)
    if len(mean) != len(covariance):
        raise ValueError(f"mean must have {len(covariance)} entries, got the shape {mean.shape}")
    return mean, covariance


def cholesky(a: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Return the Cholesky factor of a positive definite matrix, equations (2) and (3).

    Parameters
    ----------
    a : ndarray
        The matrix, symmetric up to rounding.

    Returns
    -------
    ndarray
        The lower triangle with a positive diagonal, and zeros above it; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a square, symmetric matrix of finite numbers.
    LinAlgError
        If `a` is not positive definite; the message names the first leading minor that is not positive, such as
        "order 3", counted from 1.

    Examples
    --------
    >>> print(cholesky(np.array([[4.0, 2, -2], [2, 5, 3], [-2, 3, 14]])))
    [[ 2.  0.  0.]
     [ 1.  2.  0.]
     [-1.  2.  3.]]
    """
    # given: the check
    a = symmetric_matrix(a, "a")
    raise NotImplementedError("not written yet: cholesky")


def ldl(a: Float[np.ndarray, "n n"]) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, " n"]]:
    """Return the factors L and d of a symmetric matrix, definite or not, without exchanging rows: equation (6).

    Parameters
    ----------
    a : ndarray
        The matrix, symmetric up to rounding.

    Returns
    -------
    lower : ndarray
        The lower triangle with ones on the diagonal; in float32 if `a` is.
    pivots : ndarray
        The diagonal of D, of any signs. Where a pivot and all that it would divide is 0, the column of `lower` is 0
        below the diagonal.

    Raises
    ------
    ValueError
        If `a` is not a square, symmetric matrix of finite numbers.
    LinAlgError
        If a pivot is 0 and would have to divide something else, so that there are no such factors; the message names
        that leading minor, such as "order 3", counted from 1.

    Examples
    --------
    >>> lower, pivots = ldl(np.array([[4.0, 2, -2], [2, 5, 3], [-2, 3, 4]]))
    >>> print(lower)
    [[ 1.   0.   0. ]
     [ 0.5  1.   0. ]
     [-0.5  1.   1. ]]
    >>> print(pivots)
    [ 4.  4. -1.]
    """
    # given: the check
    a = symmetric_matrix(a, "a")
    raise NotImplementedError("not written yet: ldl")


def solve(lower: Float[np.ndarray, "n n"], b: Float[np.ndarray, "n *columns"]) -> Float[np.ndarray, "n *columns"]:
    """Solve A x = b by the Cholesky factor of A, equation (7).

    Parameters
    ----------
    lower : ndarray
        The factor. Entries above the diagonal are not read.
    b : ndarray
        One right-hand side as a vector, or several as the columns of a matrix.

    Returns
    -------
    ndarray
        The solution, or the solutions in the columns, of the shape of `b`; in float32 if both arguments are.

    Raises
    ------
    ValueError
        If `lower` is not square or its diagonal not positive, or `b` has not its number of rows, or they are not
        finite.

    Examples
    --------
    >>> print(solve(np.array([[2.0, 0, 0], [1, 2, 0], [-1, 2, 3]]), np.array([10.0, 9, -10])))
    [ 1.  2. -1.]
    """
    # given: the check
    lower = _factor(lower)
    raise NotImplementedError("not written yet: solve")


def log_determinant(lower: Float[np.ndarray, "n n"]) -> float:
    """Return the logarithm of the determinant of A from its Cholesky factor, equation (8).

    Parameters
    ----------
    lower : ndarray
        The factor.

    Returns
    -------
    float
        The natural logarithm, finite also where the determinant itself is beyond the range of floats.

    Raises
    ------
    ValueError
        If `lower` is not a square matrix of finite numbers with a positive diagonal.

    Examples
    --------
    >>> print(round(log_determinant(np.array([[2.0, 0, 0], [1, 2, 0], [-1, 2, 3]])), 4))
    4.9698
    """
    # given: the check
    lower = _factor(lower)
    raise NotImplementedError("not written yet: log_determinant")


def update(lower: Float[np.ndarray, "n n"], x: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n n"]:
    r"""Return the Cholesky factor of $A + x x^\top$, in $O(n^2)$, by the rotations (10) and (11).

    Parameters
    ----------
    lower : ndarray
        The factor of A. It is not changed.
    x : ndarray
        The vector. It is not changed.

    Returns
    -------
    ndarray
        The new factor, with a positive diagonal; in float32 if both arguments are. It is right also where the squares
        of its entries are beyond the range of floats.

    Raises
    ------
    ValueError
        If `lower` is not a square matrix of finite numbers with a positive diagonal, or `x` no vector that fits.

    Examples
    --------
    >>> print(update(np.array([[2.0, 0, 0], [1, 2, 0], [-1, 2, 3]]), np.array([1.5, 2.625, 0.5])).round(4))
    [[ 2.5     0.      0.    ]
     [ 2.375   2.5     0.    ]
     [-0.5     2.2     3.0265]]
    """
    # given: the checks, and copies that you may write to
    lower, x = _factor_and_vector(lower, x)
    raise NotImplementedError("not written yet: update")


def downdate(lower: Float[np.ndarray, "n n"], x: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n n"]:
    r"""Return the Cholesky factor of $A - x x^\top$, in $O(n^2)$, by equations (12) and (13).

    Parameters
    ----------
    lower : ndarray
        The factor of A. It is not changed.
    x : ndarray
        The vector. It is not changed.

    Returns
    -------
    ndarray
        The new factor, with a positive diagonal; in float32 if both arguments are. It is right also where the squares
        of its entries are beyond the range of floats.

    Raises
    ------
    ValueError
        If `lower` is not a square matrix of finite numbers with a positive diagonal, or `x` no vector that fits.
    LinAlgError
        If $A - x x^\top$ is not positive definite; the message names the first leading minor that is not
        positive, such as "order 3", counted from 1.

    Examples
    --------
    >>> print(downdate(np.array([[2.5, 0], [2.375, 2.5]]), np.array([1.5, 2.625])).round(4))
    [[2. 0.]
     [1. 2.]]
    """
    # given: the checks, and copies that you may write to
    lower, x = _factor_and_vector(lower, x)
    raise NotImplementedError("not written yet: downdate")


def sample_gaussian(
    mean: Float[np.ndarray, " dim"],
    covariance: Float[np.ndarray, "dim dim"],
    n_samples: int,
    *,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n_samples dim"]:
    """Draw independent samples from a Gaussian with the given mean and covariance, equation (14).

    Parameters
    ----------
    mean : ndarray
        The mean.
    covariance : ndarray
        The covariance, positive definite.
    n_samples : int
        How many to draw.
    rng : numpy.random.Generator
        Where all randomness comes from.

    Returns
    -------
    ndarray
        The samples, one a row.

    Raises
    ------
    ValueError
        If `covariance` is not a symmetric matrix of finite numbers, `mean` no vector that fits, or `n_samples` not
        positive.
    LinAlgError
        If `covariance` is not positive definite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = sample_gaussian(np.array([5.0, -1.0]), np.array([[4.0, 1.2], [1.2, 1.0]]), 100_000, rng=rng)
    >>> print(x.mean(axis=0).round(1), np.cov(x.T).round(1)[0])
    [ 5. -1.] [4.  1.2]
    """
    # given: the checks
    mean, covariance = _mean_and_covariance(mean, covariance)
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    raise NotImplementedError("not written yet: sample_gaussian")


def gaussian_log_density(
    x: Float[np.ndarray, "n_samples dim"], mean: Float[np.ndarray, " dim"], covariance: Float[np.ndarray, "dim dim"]
) -> Float[np.ndarray, " n_samples"]:
    """Return the logarithm of a Gaussian density at each of several points, equation (15).

    Parameters
    ----------
    x : ndarray
        The points, one a row.
    mean : ndarray
        The mean.
    covariance : ndarray
        The covariance, positive definite.

    Returns
    -------
    ndarray
        The log density at each point; finite also where the density itself is too small or large for a float.

    Raises
    ------
    ValueError
        If `covariance` is not a symmetric matrix of finite numbers, or `mean` or `x` does not fit it.
    LinAlgError
        If `covariance` is not positive definite.

    Examples
    --------
    >>> covariance = np.array([[4.0, 1.2], [1.2, 1.0]])
    >>> x = np.array([[5.0, -1.0], [7.0, -1.0]])
    >>> print(gaussian_log_density(x, np.array([5.0, -1.0]), covariance).round(4))
    [-2.3079 -3.0891]
    """
    # given: the checks
    mean, covariance = _mean_and_covariance(mean, covariance)
    x = real_array(x, "x", ndim=2)
    if x.shape[1] != len(mean):
        raise ValueError(f"x must have {len(mean)} columns, got the shape {x.shape}")
    raise NotImplementedError("not written yet: gaussian_log_density")
