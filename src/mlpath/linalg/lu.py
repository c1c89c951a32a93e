r"""LU: elimination, written down once and used for every right-hand side.

## Idea

A triangular system of equations is solved by looking at it: one equation has a single unknown, and each of the others
has one more. Gaussian elimination turns any square system into a triangular one. Keep a record of what it did and you
have factors of the matrix, $PA = LU$: a reordering of the rows, a lower and an upper triangle. The factors cost
$O(n^3)$, once. From then on each new right-hand side costs $O(n^2)$, and the determinant is read off a diagonal.

## Maths

**Triangles.** In $Lx = b$ with a lower triangular $L$, row $i$ reads $\sum_{j < i} L_{ij} x_j + L_{ii} x_i = b_i$ and
all earlier unknowns are known by then:

$$x_i = \Big( b_i - \sum_{j < i} L_{ij}\, x_j \Big) \Big/ L_{ii}, \qquad i = 1, 2, \dots, n. \tag{1}$$

An upper triangular $U$ is the same from the other end:

$$x_i = \Big( b_i - \sum_{j > i} U_{ij}\, x_j \Big) \Big/ U_{ii}, \qquad i = n, n - 1, \dots, 1. \tag{2}$$

If $b$ is a matrix, each of its columns is a system of its own, and a row $b_i$ of all of them is treated at once.

**One step of elimination.** Split off the first row and column of $A$:

$$A = \begin{pmatrix} \alpha & r \\ c & B \end{pmatrix}
= \begin{pmatrix} 1 & 0 \\ \ell & I \end{pmatrix} \begin{pmatrix} \alpha & r \\ 0 & S \end{pmatrix}. \tag{3}$$

Multiply out. The lower left block says $\ell \alpha = c$, the lower right one $\ell r + S = B$, hence

$$\ell = c / \alpha, \qquad S = B - \ell\, r. \tag{4}$$

$\ell\, r$ is a column times a row: a whole matrix. $\alpha$ is called the *pivot*, $\ell$ holds the *multipliers*, and
$S$ is the *Schur complement*. It has one row and one column fewer than $A$; if $S = L' U'$, then

$$A = \begin{pmatrix} 1 & 0 \\ \ell & L' \end{pmatrix} \begin{pmatrix} \alpha & r \\ 0 & U' \end{pmatrix}. \tag{5}$$

So repeat (4) on $S$ until nothing is left. The matrix need not be square: $m \times n$ takes $k = \min(m, n)$ steps,
$L$ is $m \times k$ and $U$ is $k \times n$.

**Pivoting.** (4) fails if $\alpha = 0$, and does harm long before. In

$$\begin{pmatrix} 10^{-20} & 1 \\ 1 & 1 \end{pmatrix}
= \begin{pmatrix} 1 & 0 \\ 10^{20} & 1 \end{pmatrix} \begin{pmatrix} 10^{-20} & 1 \\ 0 & 1 - 10^{20} \end{pmatrix}$$

the last entry is rounded to $-10^{20}$. The 1 in the lower right corner of $A$ is lost: had it been a 5, the factors
would be the same. The cure is to exchange rows before each step, such that the pivot is the entry of largest absolute
value in what is left of its column. This is *partial pivoting*, and it makes

$$|L_{ij}| \le 1. \tag{6}$$

What becomes of (5)? If the rows of $S$ are reordered, $P' S = L' U'$, then the rows of $\ell$ beside them move as well:

$$\begin{pmatrix} 1 & 0 \\ 0 & P' \end{pmatrix} \begin{pmatrix} \alpha & r \\ c & B \end{pmatrix}
= \begin{pmatrix} 1 & 0 \\ P' \ell & L' \end{pmatrix} \begin{pmatrix} \alpha & r \\ 0 & U' \end{pmatrix}. \tag{7}$$

All reorderings together are one permutation of the rows of $A$:

$$P A = L U. \tag{8}$$

As an array, `permutation[i]` says which row of $A$ came to place $i$, so that $PA$ is `a[permutation]`. If all
candidates for a pivot are zero, the column needs no elimination: its multipliers are 0, $U_{ii} = 0$, and (8) still
holds. So every matrix has factors. Such an $A$ is singular, and only *solving* with it fails, where (2) divides by
$U_{ii}$.

**Using the factors.** $Ax = b$ is $LUx = Pb$, two triangular systems:

$$L y = P b, \qquad U x = y. \tag{9}$$

The inverse is the solution $X$ of $AX = I$, so it is (9) with $n$ right-hand sides. You rarely need it: to multiply by
$A^{-1}$ is to solve.

The determinant of a product is the product of the determinants, that of a triangle is the product of its diagonal, and
$\det P = \pm 1$. A product of many numbers leaves the range of floats easily (100 pivots of $10^{5}$ make $10^{500}$),
so one keeps its sign and its logarithm apart:

$$\operatorname{sign} \det A = \operatorname{sign} P\, \prod_i \operatorname{sign} U_{ii}, \qquad
\log |\det A| = \sum_i \log |U_{ii}|. \tag{10}$$

If some $U_{ii}$ is 0, the determinant is 0: its sign counts as 0 and its logarithm as $-\infty$.

Exchanging two rows turns the sign of a determinant around. So if $s$ exchanges put a permutation in order,

$$\operatorname{sign} P = (-1)^s. \tag{11}$$

There are many ways to sort, with different $s$, but all $s$ are even or all are odd: the determinant of $P$ is one
number.

**Is it accurate?** The right question is for which matrix the computed factors are exact. For $A + E$, where [1,
theorem 9.3] says that $|E| \le \gamma\, |L| |U|$ (after reordering), entry by entry, with a $\gamma$ of about $n$ times
the rounding unit $\varepsilon$. By (6), $|L|$ is harmless. All depends on whether $U$ has grown:

$$\rho = \frac{\max_{ij} |U_{ij}|}{\max_{ij} |A_{ij}|}, \qquad \max_{ij} |E_{ij}| \le \gamma\, n\, \rho\, \max_{ij} |A_{ij}|. \tag{12}$$

Each step (4) at most doubles the largest entry, since $|\ell_i| \le 1$: so $\rho \le 2^{n - 1}$. Wilkinson's matrix
(ones on the diagonal and in the last column, $-1$ below the diagonal) reaches that bound. With $n = 60$ not one digit
is left, and no warning comes. In practice such matrices hardly ever occur. If the entries are random, the largest of
$U$ is about $n^{2/3}$ times their standard deviation [2], which for $n = 100$ makes $\rho$ some 4 to 7.

## Worked example

$$A = \begin{pmatrix} 1 & 2 & 4 \\ 4 & 4 & 4 \\ 2 & 6 & 4 \end{pmatrix}.$$

The first pivot is the 4 in row 2; exchange rows 1 and 2. The multipliers are $\tfrac14$ and $\tfrac12$, and by (4)

$$S = \begin{pmatrix} 2 & 4 \\ 6 & 4 \end{pmatrix} - \begin{pmatrix} 1/4 \\ 1/2 \end{pmatrix} \begin{pmatrix} 4 & 4 \end{pmatrix}
= \begin{pmatrix} 1 & 3 \\ 4 & 2 \end{pmatrix}.$$

The second pivot is the 4 below the 1: exchange the last two rows, together with their multipliers. The new multiplier
is $\tfrac14$, and the last pivot $3 - \tfrac14 \cdot 2 = 2.5$. Hence

$$L = \begin{pmatrix} 1 & & \\ 1/2 & 1 & \\ 1/4 & 1/4 & 1 \end{pmatrix}, \qquad
U = \begin{pmatrix} 4 & 4 & 4 \\ & 4 & 2 \\ & & 2.5 \end{pmatrix},$$

and the rows of $A$ came in the order 2, 3, 1: `permutation` is `[1, 2, 0]`. It took two exchanges, so the sign is $+1$
and $\det A = 4 \cdot 4 \cdot 2.5 = 40$. The growth is $\rho = 4 / 6$: $U$ may also shrink.

For $b = (7, 8, 4)$: $Pb = (8, 4, 7)$; from the top, $y = (8,\; 4 - 4,\; 7 - 2 - 0) = (8, 0, 5)$; from the bottom, $x_3
= 5 / 2.5 = 2$, $x_2 = (0 - 4) / 4 = -1$, $x_1 = (8 + 4 - 8) / 4 = 1$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `forward_substitution` | a lower triangle, right-hand sides | the solutions | (1) |
| `back_substitution` | an upper triangle, right-hand sides | the solutions | (2) |
| `lu_factor` | a matrix, square or not | its factors, an `LU` | (4) to (8) |
| `solve` | the factors of a square matrix, right-hand sides | the solutions | (9) |
| `permutation_sign` | a permutation | $+1$ or $-1$ | (11) |
| `log_determinant` | the factors of a square matrix | sign and logarithm of the determinant | (10) |
| `inverse` | the factors of a square matrix | its inverse | (9) |
| `growth_factor` | a matrix and its factors | how much the entries grew | (12) |

`determinant` is given: it puts sign and logarithm together. NumPy's and SciPy's solvers are ruled out; products of
matrices, and everything that works entry by entry, are welcome.

## Pitfalls

- All is well until a matrix has a zero in its upper left corner.
- $LU$ is $A$ with its rows in another order than `permutation` says, but only from three rows onwards.
- $L$ and $U$ are right for $2 \times 2$, and $L$ is wrong for larger matrices, wherever rows were exchanged late.
- Some multipliers are larger than 1, though rows were exchanged.
- A column of zeros gives `nan`.
- Entries of $10^{-17}$ are left below the diagonal of $U$, where zeros belong.
- Every second determinant has the wrong sign, or one of 200 rows is `inf` or 0.

## Cost

$\tfrac23 n^3$ operations for the factors of an $n \times n$ matrix, $2 n^2$ for each right-hand side, $\tfrac43 n^3$
more for the inverse.

Each step here updates all of $S$ by one column times one row, so that all of $S$ travels through memory $n$ times.
LAPACK works in blocks of columns, and does nearly everything by products of matrices, which keep their data in the
cache. Measured on one thread at $n = 500$: 18 times LAPACK's time for the factors; 7 times for 50 right-hand sides and
3 times for 500, but 44 times for a single one, where nearly all is the cost of $2n$ small steps in Python.

## Go further

An experiment: solve with Wilkinson's matrix for $n$ from 10 to 70 and watch the error of $x$, then add $10^{-6}$ times
random numbers to the matrix and try again: now it is chance that breaks the ties between pivots. A stretch goal:
*complete* pivoting, which looks for the largest entry in all of $S$ and exchanges columns too, or the block version:
split $A$ in two halves of columns and recurse.

What is not here: scaling of rows before the choice of the pivot, estimates of the condition number, sparse matrices.
Some define $\rho$ by the largest entry of *any* $S$ on the way; it is at least ours, which looks at the final $U$ as
[3] does.

## References

1. Higham (2002), Accuracy and stability of numerical algorithms, chapter 9, https://doi.org/10.1137/1.9780898718027
2. Trefethen & Schreiber (1990), Average-case stability of Gaussian elimination, https://doi.org/10.1137/0611023
3. Trefethen & Bau (1997), Numerical linear algebra, lectures 20 to 22, https://doi.org/10.1137/1.9780898719574
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array, square_matrix


@dataclass(frozen=True)
class LU:
    """The factors of a matrix with reordered rows, equation (8): `a[permutation]` is `lower @ upper`.

    Attributes
    ----------
    lower : ndarray of shape (n_rows, n_pivots)
        Lower triangular, with ones on the diagonal and no entry beyond 1 in absolute value.
    upper : ndarray of shape (n_pivots, n_cols)
        Upper triangular, with the pivots on the diagonal.
    permutation : ndarray of shape (n_rows,)
        Which row of the matrix came to which place.
    """

    lower: Float[np.ndarray, "n_rows n_pivots"]
    upper: Float[np.ndarray, "n_pivots n_cols"]
    permutation: Int[np.ndarray, " n_rows"]


def _right_hand_sides(b: ArrayLike, n: int) -> np.ndarray:  # given: argument checks
    """Return `b`, a vector or a matrix of `n` rows, as an array of floats, or raise a ValueError."""
    b = real_array(b, "b", ndim=2 if np.ndim(b) == 2 else 1)
    if len(b) != n:
        raise ValueError(f"b must have {n} rows, got the shape {b.shape}")
    return b


def _triangular_system(  # given: argument checks
    triangle: ArrayLike, b: ArrayLike, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays of floats, `b` in the precision of the solution; refuse a zero on the diagonal."""
    triangle = square_matrix(triangle, name)
    b = _right_hand_sides(b, len(triangle))
    zeros = np.flatnonzero(np.diagonal(triangle) == 0)
    if zeros.size:
        raise np.linalg.LinAlgError(f"{name}[{zeros[0]}, {zeros[0]}] is zero: the matrix is singular")
    return triangle, b.astype(np.result_type(triangle, b), copy=False)


def _check_square(factors: LU) -> None:  # given: argument checks
    """Refuse the factors of a matrix that is not square."""
    shape = len(factors.lower), factors.upper.shape[1]
    if shape[0] != shape[1]:
        raise ValueError(f"factors must be those of a square matrix, got those of a matrix of shape {shape}")


def forward_substitution(
    lower: Float[np.ndarray, "n n"], b: Float[np.ndarray, "n *columns"]
) -> Float[np.ndarray, "n *columns"]:
    """Solve a lower triangular system from the first equation to the last, equation (1).

    Parameters
    ----------
    lower : ndarray
        The lower triangle. Entries above the diagonal are not read: they may be anything finite.
    b : ndarray
        One right-hand side as a vector, or several as the columns of a matrix.

    Returns
    -------
    ndarray
        The solution, or the solutions in the columns, of the shape of `b`; in float32 if both arguments are.

    Raises
    ------
    ValueError
        If `lower` is not a square matrix or `b` has not its number of rows, or they hold anything but finite numbers.
    LinAlgError
        If an entry of the diagonal is zero; the message names it.

    Examples
    --------
    >>> print(forward_substitution(np.array([[1.0, 0, 0], [0.5, 1, 0], [0.25, 0.25, 1]]), np.array([8.0, 4, 7])))
    [8. 0. 5.]
    """
    # given: the checks
    lower, b = _triangular_system(lower, b, "lower")
    # yours
    x = np.empty_like(b)
    for i in range(len(x)):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    return x


def back_substitution(
    upper: Float[np.ndarray, "n n"], b: Float[np.ndarray, "n *columns"]
) -> Float[np.ndarray, "n *columns"]:
    """Solve an upper triangular system from the last equation to the first, equation (2).

    Parameters
    ----------
    upper : ndarray
        The upper triangle. Entries below the diagonal are not read: they may be anything finite.
    b : ndarray
        One right-hand side as a vector, or several as the columns of a matrix.

    Returns
    -------
    ndarray
        The solution, or the solutions in the columns, of the shape of `b`; in float32 if both arguments are.

    Raises
    ------
    ValueError
        If `upper` is not a square matrix or `b` has not its number of rows, or they hold anything but finite numbers.
    LinAlgError
        If an entry of the diagonal is zero; the message names it.

    Examples
    --------
    >>> print(back_substitution(np.array([[4.0, 4, 4], [0, 4, 2], [0, 0, 2.5]]), np.array([8.0, 0, 5])))
    [ 1. -1.  2.]
    """
    # given: the checks
    upper, b = _triangular_system(upper, b, "upper")
    # yours
    x = np.empty_like(b)
    for i in reversed(range(len(x))):
        x[i] = (b[i] - upper[i, i + 1 :] @ x[i + 1 :]) / upper[i, i]
    return x


def lu_factor(a: Float[np.ndarray, "n_rows n_cols"]) -> LU:
    """Return the factors of a matrix by elimination with partial pivoting, equations (4) to (8).

    A singular matrix has factors too: where no pivot other than 0 is left in a column, the multipliers are 0.

    Parameters
    ----------
    a : ndarray
        The matrix, square or not. It is not changed.

    Returns
    -------
    LU
        The factors, with n_pivots = min(n_rows, n_cols), in float32 if `a` is. Each pivot is the largest in absolute
        value of what is left of its column; if several tie, any of them.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number.

    Examples
    --------
    >>> factors = lu_factor(np.array([[1.0, 2, 4], [4, 4, 4], [2, 6, 4]]))
    >>> print(factors.lower)
    [[1.   0.   0.  ]
     [0.5  1.   0.  ]
     [0.25 0.25 1.  ]]
    >>> print(factors.upper)
    [[4.  4.  4. ]
     [0.  4.  2. ]
     [0.  0.  2.5]]
    >>> print(factors.permutation)
    [1 2 0]
    """
    # given: the check
    a = real_array(a, "a", ndim=2)
    # yours
    work, permutation = a.copy(), np.arange(len(a))
    n_pivots = min(a.shape)
    for k in range(n_pivots):
        pivot = k + np.abs(work[k:, k]).argmax()
        # Whole rows change places: to the left of column k they hold the multipliers, which (7) moves too.
        work[[k, pivot]] = work[[pivot, k]]
        permutation[[k, pivot]] = permutation[[pivot, k]]
        if work[k, k] != 0:
            work[k + 1 :, k] /= work[k, k]  # (4): the multipliers take the place of the zeros
            work[k + 1 :, k + 1 :] -= np.outer(work[k + 1 :, k], work[k, k + 1 :])
    lower = np.tril(work[:, :n_pivots], -1) + np.eye(len(a), n_pivots, dtype=a.dtype)
    return LU(lower, np.triu(work[:n_pivots]), permutation)


def solve(factors: LU, b: Float[np.ndarray, "n *columns"]) -> Float[np.ndarray, "n *columns"]:
    """Solve A x = b by the factors of A, equation (9).

    Parameters
    ----------
    factors : LU
        Those of a square matrix, as `lu_factor` returns them.
    b : ndarray
        One right-hand side as a vector, or several as the columns of a matrix.

    Returns
    -------
    ndarray
        The solution, or the solutions in the columns, of the shape of `b`; in float32 if factors and `b` are.

    Raises
    ------
    ValueError
        If the factors are not those of a square matrix, `b` has not its number of rows, or holds anything but finite
        numbers.
    LinAlgError
        If the matrix is exactly singular; the message names the pivot that is zero.

    Examples
    --------
    >>> factors = lu_factor(np.array([[1.0, 2, 4], [4, 4, 4], [2, 6, 4]]))
    >>> print(solve(factors, np.array([7.0, 8, 4])))
    [ 1. -1.  2.]
    """
    # given: the checks
    _check_square(factors)
    b = _right_hand_sides(b, len(factors.permutation))
    # yours
    y = forward_substitution(factors.lower, b[factors.permutation])
    return back_substitution(factors.upper, y)


def permutation_sign(permutation: Int[np.ndarray, " n"]) -> int:
    """Return whether a permutation is even or odd, equation (11).

    Parameters
    ----------
    permutation : ndarray
        The numbers from 0 to n - 1 in any order. It is not changed.

    Returns
    -------
    int
        1 if an even number of exchanges puts them in order, -1 if an odd number does.

    Raises
    ------
    ValueError
        If `permutation` does not hold each number from 0 to n - 1 once.

    Examples
    --------
    >>> permutation_sign(np.array([1, 2, 0]))
    1
    >>> permutation_sign(np.array([0, 2, 1]))
    -1
    """
    # given: the check
    permutation = np.asarray(permutation)
    if permutation.size == 0 or not np.array_equal(np.sort(permutation, axis=None), np.arange(len(permutation))):
        raise ValueError(f"permutation must hold each number from 0 to n - 1 once, got {permutation}")
    # yours
    places, sign = permutation.tolist(), 1
    for i in range(len(places)):
        while (j := places[i]) != i:  # each exchange brings one number home for good
            places[i], places[j] = places[j], j
            sign = -sign
    return sign


def log_determinant(factors: LU) -> tuple[float, float]:
    """Return sign and logarithm of the determinant of a square matrix, equation (10).

    Parameters
    ----------
    factors : LU
        Those of a square matrix, as `lu_factor` returns them.

    Returns
    -------
    sign : float
        1, -1, or 0 for a singular matrix.
    log_abs : float
        The natural logarithm of the absolute value of the determinant: minus infinity for a singular matrix. It is
        finite for all others, also where the determinant itself is beyond the range of floats.

    Raises
    ------
    ValueError
        If the factors are not those of a square matrix.

    Examples
    --------
    >>> sign, log_abs = log_determinant(lu_factor(np.array([[1.0, 2, 4], [4, 4, 4], [2, 6, 4]])))
    >>> print(sign, round(log_abs, 4))
    1.0 3.6889
    """
    # given: the check
    _check_square(factors)
    # yours
    pivots = np.diagonal(factors.upper)
    if not pivots.all():
        return 0.0, -np.inf
    sign = permutation_sign(factors.permutation) * np.sign(pivots).prod()
    return float(sign), float(np.log(np.abs(pivots)).sum())


def determinant(factors: LU) -> float:  # given
    """Return the determinant of a square matrix: infinite or 0 where it is beyond the range of floats.

    Parameters
    ----------
    factors : LU
        Those of a square matrix, as `lu_factor` returns them.

    Returns
    -------
    float
        The determinant, from the sign and the logarithm of `log_determinant`.

    Raises
    ------
    ValueError
        If the factors are not those of a square matrix.

    Examples
    --------
    >>> print(round(determinant(lu_factor(np.array([[1.0, 2, 4], [4, 4, 4], [2, 6, 4]]))), 4))
    40.0
    """
    sign, log_abs = log_determinant(factors)
    with np.errstate(over="ignore"):
        return float(sign * np.exp(log_abs))


def inverse(factors: LU) -> Float[np.ndarray, "n n"]:
    """Return the inverse of a square matrix: the solution of A X = I, equation (9).

    Parameters
    ----------
    factors : LU
        Those of a square matrix, as `lu_factor` returns them.

    Returns
    -------
    ndarray
        The inverse, in float32 if the factors are.

    Raises
    ------
    ValueError
        If the factors are not those of a square matrix.
    LinAlgError
        If the matrix is exactly singular; the message names the pivot that is zero.

    Examples
    --------
    >>> print(inverse(lu_factor(np.array([[1.0, 2, 4], [4, 4, 4], [2, 6, 4]]))))
    [[-0.2   0.4  -0.2 ]
     [-0.2  -0.1   0.3 ]
     [ 0.4  -0.05 -0.1 ]]
    """
    # given: the check
    _check_square(factors)
    # yours
    return solve(factors, np.eye(len(factors.upper), dtype=factors.upper.dtype))


def growth_factor(a: Float[np.ndarray, "n_rows n_cols"], factors: LU) -> float:
    """Return how much larger than the entries of a matrix those of its upper factor are, equation (12).

    Parameters
    ----------
    a : ndarray
        The matrix, square or not.
    factors : LU
        Its factors. Their `upper` is what counts: what elimination left in the end, not what it met on the way.

    Returns
    -------
    float
        The largest absolute value in `upper` over the largest in `a`; 1 if `a` is zero.

    Raises
    ------
    ValueError
        If `a` is not a matrix of finite numbers, or the factors are those of a matrix of another shape.

    Examples
    --------
    >>> a = np.array([[1.0, 2, 4], [4, 4, 4], [2, 6, 4]])
    >>> print(round(growth_factor(a, lu_factor(a)), 4))
    0.6667
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if a.shape != (shape := (len(factors.lower), factors.upper.shape[1])):
        raise ValueError(f"factors must be those of a matrix of shape {a.shape}, got those of one of shape {shape}")
    # yours
    largest = np.abs(a).max()
    return float(np.abs(factors.upper).max() / largest) if largest > 0 else 1.0
