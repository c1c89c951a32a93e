r"""Subspaces: what a matrix reaches, what it forgets, and how it looks from another basis.

## Idea

A matrix sends vectors to vectors. Three questions tell most of what it does: which vectors does it send to zero (its
null space), which can it produce (its column space), and how many numbers does it take to describe each of them
(their dimensions)? One procedure answers all three: row reduction, the tidy form of solving equations by hand. And
since a space has many bases, we also need to say what becomes of a vector's coordinates, and of a matrix, when the
basis changes.

## Maths

**Row reduction.** Exchange two rows of $A$, multiply a row by a number other than 0, or add a multiple of one row to
another. Each of these can be undone, so the equations $A x = 0$ keep their solutions. One *pivot step* at the row $r$
and the column $c$ makes the column $c$ a column of the identity, in two moves:

$$a_r \leftarrow a_r / a_{rc}, \qquad a_i \leftarrow a_i - a_{ic}\, a_r \quad \text{for every other row } i, \tag{1}$$

where $a_i$ is the row $i$. The number that is divided by is the *pivot*. It must not be 0, and it should not be
small: a small pivot makes large multiples of its row, which drown the other rows in rounding. *Partial pivoting*
first exchanges row $r$ with the row $p$ that has the column's largest entry, from $r$ downwards:

$$p = \arg\max_{i \ge r} |a_{ic}|. \tag{2}$$

Go through the columns from left to right, and begin with $r$ as the first row. Where all entries of (2) are 0, the
column gets no pivot: it is *free*, and $r$ stays. Otherwise do the step, and go one row down. What comes out is the
*reduced row echelon form* $R$: each pivot is 1 and alone in its column, the pivots go down to the right, and rows of
zeros come last. $R$ is the same for every way of getting there.

In floating point a zero hardly ever comes out as 0, so we have to say what counts as one. An entry of (2) does if

$$|a_{ic}| \le \tau\, \max_{ij} |A_{ij}|, \tag{3}$$

with the *original* $A$ on the right, so that the units of $A$ make no difference. By default
$\tau = 10 \max(m, n)\, \varepsilon$ for an $m \times n$ matrix, where $\varepsilon$ is the distance from 1 to the
next float, and the factor leaves room for rounding that grows from step to step.

**Rank and nullity.** Let $A$ have $n$ columns, the pivot columns $p_1 < \dots < p_k$ and the free columns. The number
$k$ of pivots is the *rank*, that of free columns the *nullity*. Each column is one or the other, hence

$$\text{rank} + \text{nullity} = n. \tag{4}$$

**Null space.** Row $i$ of $R x = 0$ holds $x_{p_i}$, with the factor 1, and free variables, but no other pivot
variable:

$$x_{p_i} = - \sum_{f \text{ free}} R_{if}\, x_f, \qquad i = 1, \dots, k. \tag{5}$$

So the free variables may be chosen at will, and the others follow. Choose one free variable to be 1 and the other
free ones 0: this is a *special solution*. There is one for each free column. They are independent, as each has its 1
where the others have 0, and by (5) every solution is a mixture of them. They are a basis of the null space.

**Column space.** Row operations change columns, but not the relations among them: $A x = 0$ and $R x = 0$ have the
same solutions. In $R$ the pivot columns are columns of the identity, and each free column is
$R_{:,f} = \sum_i R_{if}\, e_i$. So in $A$

$$A_{:,f} = \sum_{i=1}^k R_{if}\, A_{:,p_i}, \qquad \text{or} \qquad A = A_{:,(p_1, \dots, p_k)}\, R_{(1, \dots, k),:}\,. \tag{6}$$

The pivot columns of $A$ are a basis of its column space. Those of $R$ are not: they span another space.

**Orthogonal complement.** A vector $y$ is orthogonal to all of the column space of $A$ if it is so to each column:

$$y \perp \operatorname{col}(A) \iff A^\top y = 0. \tag{7}$$

By (4) for $A^\top$, which has $m$ columns and the same rank $k$ as $A$, the complement has the dimension $m - k$.

**Change of basis.** Let the columns of $P$ be a basis. The vector with the coordinates $c$ in it is $P c$. If the
same vector has the coordinates $d$ in the basis $Q$, then

$$Q d = P c. \tag{8}$$

This is a system of equations for $d$. To solve it by elimination is cheaper than to invert $Q$ and multiply, and
leaves a residual of the size of rounding, whatever the condition of $Q$; the inverse leaves up to the condition
number times that.

**Maps in other bases.** Let $y = A x$, with $x = P c$ and $y = Q d$. Then $Q d = A P c$ for every $c$: the matrix $B$
that takes $c$ to $d$ obeys

$$Q B = A P, \qquad B = Q^{-1} A P. \tag{9}$$

For an operator, which stays in one space, one basis serves on both sides, $B = P^{-1} A P$. Such an $A$ and $B$ are
called *similar*; they share rank, trace, determinant and eigenvalues, as these belong to the map and not to its
matrix.

## Worked example

Columns and rows are counted from 0.

$$A = \begin{pmatrix} 1 & 2 & 0 & 3 \\ 2 & 4 & 1 & 4 \\ 3 & 6 & 2 & 5 \end{pmatrix} \to
\begin{pmatrix} 1 & 2 & 2/3 & 5/3 \\ 0 & 0 & -1/3 & 2/3 \\ 0 & 0 & -2/3 & 4/3 \end{pmatrix} \to
\begin{pmatrix} 1 & 2 & 0 & 3 \\ 0 & 0 & 1 & -2 \\ 0 & 0 & 0 & 0 \end{pmatrix} = R.$$

The first pivot is 3, from the last row, which changes places with row 0. Column 1 has only zeros from row 1
downwards: it is free. In column 2 the pivot is $-2/3$. The pivot columns are 0 and 2, so the rank is 2, and the
nullity $4 - 2 = 2$. By (5), the special solutions are $(-2, 1, 0, 0)$ and $(-3, 0, 2, 1)$. The column space has the
basis $(1, 2, 3)$ and $(0, 1, 2)$, from $A$. Indeed column 3 of $A$ is $3\,(1, 2, 3) - 2\,(0, 1, 2) = (3, 4, 5)$, with
the factors that stand in column 3 of $R$. The complement is the line of $(1, -2, 1)$: it is orthogonal to both, and
$3 - 2 = 1$.

In the basis $(2, 1), (1, 1)$ the vector $(3, 5)$ has coordinates with $2 d_0 + d_1 = 3$ and $d_0 + d_1 = 5$, which
are $(-2, 7)$. The operator $\begin{pmatrix} 1 & 2 \\ 0 & 3 \end{pmatrix}$ sends $(1, 0)$ to itself and $(1, 1)$ to
$(3, 3)$. In the basis of these two it is therefore $\begin{pmatrix} 1 & 0 \\ 0 & 3 \end{pmatrix}$: it stretches the
second by 3 and leaves the first alone.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `pivot_step` | a matrix, a row and a column | the matrix after one step at that place | (2), (1) |
| `rref` | a matrix, a tolerance | its reduced form and the pivot columns | (1), (2), (3) |
| `rank_nullity` | a matrix, a tolerance | two numbers | (4) |
| `null_space` | a matrix, a tolerance | the special solutions, as columns | (5) |
| `column_space` | a matrix, a tolerance | a basis, as columns | (6) |
| `orthogonal_complement` | a matrix, a tolerance | a basis of what is orthogonal to its columns | (7) |
| `change_coordinates` | coordinates, the old and the new basis | the coordinates in the new basis | (8) |
| `change_operator` | a matrix, one basis or two | the matrix of the same map in them | (9) |

## Pitfalls

- The rank is right, until the matrix is multiplied by $10^{-20}$.
- A free column is followed by nonsense: the pivot's row and its column are no longer the same number.
- Some digits are lost, on matrices that look harmless.
- Null vectors have the right numbers in the wrong places as soon as a free column is not the last.
- The column space has the right dimension and is the wrong space.

*What row reduction cannot do.* Rank is a question of yes or no, and rounding blurs it. (3) looks at one entry at a
time, which says little about how near the whole matrix is to one of lower rank: the triangular matrix with ones on
the diagonal and $-1$ above it has pivots of 1 only, yet for $n = 60$ a change of $2^{-58}$ in one entry makes it
singular. In practice the rank is read off the singular values, and the null space off the singular vectors, whose
basis is orthonormal besides. The SVD does more arithmetic, and gives the distance to each lower rank. Row reduction
is for exact arithmetic, for understanding, and for small integer matrices.

## Cost

Each of $k$ steps touches the whole matrix: $O(k m n)$. To solve $n$ equations, that is three times the work of
Gaussian elimination, which clears below the pivots only. Ours is written for reading: each step makes a copy of the
matrix and an outer product, so that memory is what it waits for. For a 200 × 300 matrix of rank 100 `null_space` and
`column_space` take 2 to 3 times as long as SciPy's by SVD, and `rank_nullity` some 12 times as long as NumPy's
`matrix_rank`, which needs the singular values without their vectors. For 20 × 30 they are 3 to 5 times as long. A
change of basis is one call of LAPACK, and a check that both bases are bases, by QR: for 100 vectors in 200 dimensions
three times as long as the call alone, for a single vector ten times.

## Go further

An experiment: take the Hilbert matrices of order 2 to 20 (`hilbert(n, n)` of `mlpath.linalg._shared`). All have full
rank. What rank does `rref` find with its default tolerance, what `numpy.linalg.matrix_rank`, and how does either depend
on `tol`? A stretch goal: exact row reduction with `fractions.Fraction`, and from it the *Hermite normal form*, which
needs no fractions at all.

## References

1. Strang (1993), The fundamental theorem of linear algebra, https://doi.org/10.2307/2324660
2. Golub & Van Loan (2013), Matrix computations, 4th edition, sections 3.4 and 5.4,
   https://doi.org/10.56021/9781421407944
3. Higham (2002), Accuracy and stability of numerical algorithms, chapters 9 and 14,
   https://doi.org/10.1137/1.9780898718027
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class RowReduced:
    """A matrix in reduced row echelon form.

    Attributes
    ----------
    matrix : ndarray
        The reduced matrix $R$.
    pivots : tuple of int
        The pivot columns, from left to right. Row `i` of `matrix` has its pivot in column `pivots[i]`.

    Examples
    --------
    >>> RowReduced(np.eye(2), pivots=(0, 1)).pivots
    (0, 1)
    """

    matrix: Float[np.ndarray, "n_rows n_cols"]
    pivots: tuple[int, ...]


def _tolerance(a: np.ndarray, tol: float | None) -> float:  # given: the default of (3), and the check
    """Return the relative tolerance, or refuse it."""
    if tol is None:
        return 10 * max(a.shape) * float(np.finfo(a.dtype).eps)
    if not 0 <= tol < 1:
        raise ValueError(f"tol must be at least 0 and below 1, got {tol}")
    return float(tol)


def _basis(values: np.ndarray, name: str, dim: int) -> np.ndarray:  # given: argument checks
    """Return a basis of `dim` vectors in as many dimensions, one a column, or say why it is none."""
    basis = real_array(values, name, ndim=2)
    if basis.shape != (dim, dim):
        raise ValueError(f"{name} must have the shape {(dim, dim)}, got {basis.shape}")
    lengths = np.abs(basis).max(axis=0)
    # What is left of each column, as a share of it, after those before it have been projected out.
    left = np.abs(np.diag(np.linalg.qr(basis / np.where(lengths > 0, lengths, 1), mode="r")))
    if left.min() <= dim * np.finfo(basis.dtype).eps:
        column = int(np.argmax(left <= dim * np.finfo(basis.dtype).eps))
        raise np.linalg.LinAlgError(f"{name} must be a basis, but column {column} depends on the columns before it")
    return basis


def pivot_step(a: Float[np.ndarray, "n_rows n_cols"], row: int, col: int) -> Float[np.ndarray, "n_rows n_cols"]:
    r"""Return the matrix after one step of row reduction, which turns a column into one of the identity: (2), then (1).

    Parameters
    ----------
    a : ndarray
        The matrix as earlier steps left it.
    row : int
        The row $r$, counted from 0, in which the pivot is to stand. The rows above it have pivots already: they are not
        exchanged any more, but their entries of the column are cleared as well.
    col : int
        The column $c$, counted from 0.

    Returns
    -------
    ndarray
        A new matrix, with row `row` exchanged by (2), and then the moves (1) on whole rows. The column `col` has 1 in
        row `row` and 0 elsewhere, exactly. If several entries tie in (2), the first of them is the pivot.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or has no such row or column.
    numpy.linalg.LinAlgError
        If the column is zero from `row` downwards.

    Examples
    --------
    >>> print(pivot_step(np.array([[1.0, 3.0, 1.0], [2.0, 4.0, 5.0]]), row=0, col=0))
    [[ 1.   2.   2.5]
     [ 0.   1.  -1.5]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if not 0 <= row < a.shape[0]:
        raise ValueError(f"row must be one of the {a.shape[0]} rows of a, counted from 0, got {row}")
    if not 0 <= col < a.shape[1]:
        raise ValueError(f"col must be one of the {a.shape[1]} columns of a, counted from 0, got {col}")
    if not a[row:, col].any():
        raise np.linalg.LinAlgError(f"there is no pivot: column {col} is zero from row {row} downwards")
    # yours
    reduced = a.copy()
    best = row + int(np.abs(a[row:, col]).argmax())
    reduced[[row, best]] = reduced[[best, row]]
    reduced[row] /= reduced[row, col]
    multiples = reduced[:, col].copy()
    multiples[row] = 0
    reduced -= np.outer(multiples, reduced[row])
    return reduced


def rref(a: Float[np.ndarray, "n_rows n_cols"], tol: float | None = None) -> RowReduced:
    r"""Return the reduced row echelon form of a matrix and its pivot columns, by steps (1) with the pivots (2).

    Parameters
    ----------
    a : ndarray
        The matrix, of any shape.
    tol : float, optional
        The relative tolerance $\tau$ of (3), from 0 to below 1. If None, ten times the larger side of `a` times the
        machine epsilon of its precision.

    Returns
    -------
    RowReduced
        `matrix` has exactly 1 at each pivot, and exactly 0 elsewhere in the pivot columns, to the left of each pivot,
        and in all rows after the last pivot: what counts as zero by (3) is replaced by 0. `pivots` is empty for the
        zero matrix.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `tol` is not from 0 to below 1.

    Examples
    --------
    >>> reduced = rref(np.array([[2.0, 4.0, 8.0], [1.0, 2.0, 5.0]]))
    >>> print(reduced.matrix, reduced.pivots)
    [[1. 2. 0.]
     [0. 0. 1.]] (0, 2)
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    tol = _tolerance(a, tol)
    # yours
    reduced, pivots = a.copy(), []
    zero = tol * float(np.abs(a).max())
    for col in range(a.shape[1]):
        row = len(pivots)
        if row == a.shape[0]:
            break
        if np.abs(reduced[row:, col]).max() <= zero:
            reduced[row:, col] = 0
        else:
            reduced = pivot_step(reduced, row, col)
            pivots.append(col)
    return RowReduced(reduced, tuple(pivots))


def rank_nullity(a: Float[np.ndarray, "n_rows n_cols"], tol: float | None = None) -> tuple[int, int]:
    r"""Return the rank of a matrix and the dimension of its null space, equation (4).

    Parameters
    ----------
    a : ndarray
        The matrix, of any shape.
    tol : float, optional
        The relative tolerance of `rref`.

    Returns
    -------
    tuple of int
        The number of pivots, and that of free columns.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `tol` is not from 0 to below 1.

    Examples
    --------
    >>> rank_nullity(np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 8.0]]))
    (2, 1)
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    tol = _tolerance(a, tol)
    # yours
    rank = len(rref(a, tol).pivots)
    return rank, a.shape[1] - rank


def null_space(a: Float[np.ndarray, "n_rows n_cols"], tol: float | None = None) -> Float[np.ndarray, "n_cols nullity"]:
    r"""Return the special solutions of $A x = 0$, equation (5): a basis of the null space.

    Parameters
    ----------
    a : ndarray
        The matrix, of any shape.
    tol : float, optional
        The relative tolerance of `rref`.

    Returns
    -------
    ndarray
        One special solution a column, in the order of the free columns that they belong to. No columns if the nullity
        is 0.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `tol` is not from 0 to below 1.

    Examples
    --------
    >>> print(null_space(np.array([[1.0, 2.0, 3.0]])))
    [[-2. -3.]
     [ 1.  0.]
     [ 0.  1.]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    tol = _tolerance(a, tol)
    # yours
    reduced = rref(a, tol)
    pivots = list(reduced.pivots)
    free = [col for col in range(a.shape[1]) if col not in pivots]
    basis = np.zeros((a.shape[1], len(free)), dtype=a.dtype)
    basis[free] = np.eye(len(free))
    basis[pivots] = -reduced.matrix[: len(pivots), free]
    return basis


def column_space(a: Float[np.ndarray, "n_rows n_cols"], tol: float | None = None) -> Float[np.ndarray, "n_rows rank"]:
    r"""Return the basis of the column space that is made of columns of the matrix, equation (6).

    Parameters
    ----------
    a : ndarray
        The matrix, of any shape.
    tol : float, optional
        The relative tolerance of `rref`.

    Returns
    -------
    ndarray
        The pivot columns of `a`, from left to right: those columns that do not depend on columns before them. No
        columns if `a` is zero.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `tol` is not from 0 to below 1.

    Examples
    --------
    >>> print(column_space(np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 8.0]])))
    [[1. 3.]
     [2. 8.]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    tol = _tolerance(a, tol)
    # yours
    return a[:, list(rref(a, tol).pivots)]


def orthogonal_complement(
    a: Float[np.ndarray, "n_rows n_cols"], tol: float | None = None
) -> Float[np.ndarray, "n_rows codim"]:
    r"""Return a basis of the vectors that are orthogonal to every column of a matrix, equation (7).

    Parameters
    ----------
    a : ndarray
        Vectors, one a column, whether independent or not.
    tol : float, optional
        The relative tolerance of `rref`.

    Returns
    -------
    ndarray
        A basis, one vector a column, `n_rows` less the rank of them. Any basis will do: it need not be orthonormal.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `tol` is not from 0 to below 1.

    Examples
    --------
    >>> print(orthogonal_complement(np.array([[1.0], [2.0]])))
    [[-2.]
     [ 1.]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    tol = _tolerance(a, tol)
    # yours
    return null_space(a.T, tol)


def change_coordinates(
    coordinates: Float[np.ndarray, "dim n_vectors"],
    old: Float[np.ndarray, "dim dim"],
    new: Float[np.ndarray, "dim dim"],
) -> Float[np.ndarray, "dim n_vectors"]:
    r"""Return the coordinates of vectors in a new basis, equation (8).

    Parameters
    ----------
    coordinates : ndarray
        The coordinates $c$ of each vector in the old basis, one vector a column.
    old, new : ndarray
        The bases $P$ and $Q$, one basis vector a column.

    Returns
    -------
    ndarray
        The coordinates $d$ of each vector in the new basis, one vector a column. However ill-conditioned `new` is, the
        residual of (8) stays at the size of rounding: (8) is solved, not inverted.

    Raises
    ------
    ValueError
        If an argument is not a matrix of real, finite numbers, or the shapes do not match.
    numpy.linalg.LinAlgError
        If the columns of `old` or of `new` are dependent, to the precision of the numbers.

    Examples
    --------
    >>> new = np.array([[1.0, 1.0], [0.0, 2.0]])
    >>> print(change_coordinates(np.array([[3.0], [4.0]]), old=np.eye(2), new=new))
    [[1.]
     [2.]]
    """
    # given: the checks
    coordinates = real_array(coordinates, "coordinates", ndim=2)
    old, new = _basis(old, "old", len(coordinates)), _basis(new, "new", len(coordinates))
    # yours
    return np.linalg.solve(new, old @ coordinates)


def change_operator(
    a: Float[np.ndarray, "n_rows n_cols"],
    domain: Float[np.ndarray, "n_cols n_cols"],
    codomain: Float[np.ndarray, "n_rows n_rows"] | None = None,
) -> Float[np.ndarray, "n_rows n_cols"]:
    r"""Return the matrix that a linear map has in other bases, equation (9).

    Parameters
    ----------
    a : ndarray
        The matrix $A$ of the map, in the standard bases.
    domain : ndarray
        The basis $P$ of the space that the map starts from, one basis vector a column.
    codomain : ndarray, optional
        The basis $Q$ of the space that it leads to. If None, it is `domain`: the map is an operator, and `a` square.

    Returns
    -------
    ndarray
        The matrix $B$ that takes coordinates in `domain` to coordinates in `codomain`, from (9) solved, not inverted.

    Raises
    ------
    ValueError
        If an argument is not a matrix of real, finite numbers, the shapes do not match, or `a` is not square and
        `codomain` is None.
    numpy.linalg.LinAlgError
        If the columns of `domain` or of `codomain` are dependent, to the precision of the numbers.

    Examples
    --------
    >>> print(change_operator(np.array([[2.0, 1.0], [0.0, 3.0]]), domain=np.array([[1.0, 1.0], [0.0, 1.0]])))
    [[2. 0.]
     [0. 3.]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    domain = _basis(domain, "domain", a.shape[1])
    if codomain is None and a.shape[0] != a.shape[1]:
        raise ValueError(f"codomain must be given unless a is square, got an a of the shape {a.shape}")
    codomain = domain if codomain is None else _basis(codomain, "codomain", a.shape[0])
    # yours
    return np.linalg.solve(codomain, a @ domain)
