r"""The QR algorithm for matrices that are not symmetric: Francis's double step, complex pairs in real arithmetic.

## Idea

A real matrix may have complex eigenvalues, in conjugate pairs, and a real shift never gets near them. Francis's idea of
1961: make two steps at once, with a pair of shifts that are conjugate to each other, and all of it stays real. Nor need
the complex numbers ever be formed: the double step is known by its first column, three numbers, and the rest is a bulge
of two rows that is chased down the matrix. What comes out is Schur's form: triangular, but for blocks of two rows for
the pairs.

## Maths

**Hessenberg form.** As in the symmetric case, reflect column $k$ so that what is below row $k + 1$ vanishes, and apply
the same mirror from the right. Without symmetry the upper triangle stays full:

$$A = Q H Q^T, \qquad h_{ij} = 0 \ \text{ for } i > j + 1. \tag{1}$$

**The double step.** Two steps with the shifts $\mu$ and $\nu$, both real or conjugate to each other, have the factors
$Q_1 Q_2$ and $R_2 R_1$ with

$$Q_1 Q_2\, R_2 R_1 = (H - \mu I)(H - \nu I) = H^2 - s H + p I =: M, \qquad
s = \mu + \nu, \quad p = \mu \nu, \tag{2}$$

so $Q = Q_1 Q_2$ is the orthogonal factor of a *real* matrix, and $H' = Q^T H Q$ is real as well. The natural pair of
shifts are the eigenvalues of the trailing block, real or complex; all that (2) needs of them is

$$s = h_{m-1,m-1} + h_{mm}, \qquad p = h_{m-1,m-1} h_{mm} - h_{m-1,m} h_{m,m-1}, \qquad m = n - 1. \tag{3}$$

**Its first column.** As in the symmetric case, if no entry $h_{i+1,i}$ is zero, then $Q$ is determined, up to signs, by
its first column and by $Q^T H Q$ being a Hessenberg matrix. The first column of $Q$ is that of $M$, scaled; and since
$H$ is a Hessenberg matrix, it has three entries. Multiply out (2), and divide by $h_{10}$, which does not change its
direction:

$$x = \begin{pmatrix} \big( h_{00} (h_{00} - s) + p \big) / h_{10} + h_{01} \\
h_{00} + h_{11} - s \\ h_{21} \end{pmatrix}. \tag{4}$$

**The chase.** Reflect rows 0, 1, 2 with the mirror that sends $x$ to a multiple of the first unit vector, and then the
same columns. The columns now reach down to row 3: that is the bulge. From then on column $k - 1$ says what to do:

$$x = (h_{k,k-1},\ h_{k+1,k-1},\ h_{k+2,k-1}), \tag{5}$$

whose last two entries are to vanish. Reflect rows $k, k + 1, k + 2$, and the columns of the same numbers, and so on
down to the last mirror, which has two rows only. All mirrors but the first leave axis 0 alone, so the first column of
their product is right, and hence all of $Q$.

**Blocks.** If the Hessenberg matrix has a zero at $h_{i+1,i}$, it falls into two blocks on the diagonal, each with
eigenvalues of its own, and a step may be made on one of them. To keep $A = Q H Q^T$, the mirrors act on the *whole*
rows and columns: rows of the block to the right of it too, columns above it too. An entry is negligible beside its
neighbours on the diagonal and below it if

$$|h_{i+1,i}| \le \varepsilon\, \big( |h_{i,i-1}| + |h_{ii}| + |h_{i+1,i+1}| + |h_{i+2,i+1}| \big)
+ \varepsilon^2 \max_{j,k} |h_{jk}|, \tag{6}$$

where those outside of the matrix count as 0. The diagonal alone would not do: that of a skew-symmetric matrix is
nothing but rounding errors, and next to them nothing is ever small. The last term is there for a neighbourhood of
zeros, and far below what rounding has done already. Work on the last block of more than two rows; when none is left,

$$A = Q T Q^T \tag{7}$$

with a *quasi-triangular* $T$: no two neighbours among the $t_{i+1,i}$ are both different from zero.

**Exceptional shifts.** Convergence is quadratic as a rule, and not proved in general. An orthogonal $H$ may be a fixed
point: the matrix that moves each axis to the next has $s = p = 0$, hence $M = H^2$ is orthogonal as well, and the step
returns $H$ itself. So after 10 and after 20 steps for the end of the same block, one is made with shifts that have
nothing to do with its corner,

$$s = \tfrac{3}{2} w, \qquad p = w^2, \qquad w = |h_{m,m-1}| + |h_{m-1,m-2}|, \tag{8}$$

which breaks the symmetry.

**Two rows.** The eigenvalues of $\begin{pmatrix} a & b \\ c & d \end{pmatrix}$ are, with $\delta = (a - d) / 2$,

$$d + \delta \pm \sqrt{\delta^2 + b c}. \tag{9}$$

If the root is real, one of the two is the difference of nearly equal numbers when $bc$ is small. With $z = \delta +
\operatorname{sign}(\delta) \sqrt{\delta^2 + bc}$, in which nothing cancels, they are

$$d + z \quad \text{and} \quad d - b c / z. \tag{10}$$

Squares and products may leave the range of floats where the root does not. Let $g = \sqrt{|b|} \sqrt{|c|}$; then
$\delta^2 + bc$ is $\delta^2 + g^2$ if $b$ and $c$ have the same sign, and $(|\delta| - g)(|\delta| + g)$ otherwise.

**Accuracy.** The computed form is that of a matrix near $A$,

$$\lVert A - Q T Q^T \rVert \le c\, n \varepsilon \lVert A \rVert, \qquad
\lVert Q^T Q - I \rVert \le c\, n \varepsilon. \tag{11}$$

The eigenvalues need not be near those of $A$: where vectors are nearly parallel, a change of $\varepsilon$ may move
them a long way. A Jordan block of $n$ rows, its corner changed by $\varepsilon$, has the eigenvalues
$\varepsilon^{1/n}$ away. That is the matrix's doing and not the method's, and (11) is all that can be asked.

## Worked example

$$H = \begin{pmatrix} 2 & 1 & 3 \\ 4 & 1 & -1 \\ 0 & 2 & -1 \end{pmatrix}$$

has the trailing block $\begin{pmatrix} 1 & -1 \\ 2 & -1 \end{pmatrix}$ with $s = 0$ and $p = -1 + 2 = 1$: the shifts
are $\pm i$. Then (4) is

$$x = \big( (2 \cdot (2 - 0) + 1) / 4 + 1,\ 2 + 1 - 0,\ 2 \big) = (2.25,\ 3,\ 2).$$

The mirror for $x$ acts on all three rows and columns; one of two rows removes what it left at $(2, 0)$, and

$$H' = \begin{pmatrix} 3.7855 & -2.3767 & 0.0265 \\ -1.4773 & -1.1057 & 2.7300 \\ 0 & -2.3876 & -0.6798 \end{pmatrix}$$

up to signs. The next steps have $s = -1.7855,\ -2.2864,\ -2.3105$, and what stands at $(1, 0)$ becomes $-0.079,\ -1.0
\cdot 10^{-4},\ 2.9 \cdot 10^{-10}$, its square at each step. So the first eigenvalue is $4.31054$. The last two rows
stay a block, with $s = -2.31054$ and $p = 6.95968$: the eigenvalues are $-1.15527 \pm 2.37172\, i$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `hessenberg` | a square matrix | a `Hessenberg`: the matrix in that form, and the orthogonal one | (1) |
| `double_shift` | a block, and how many steps were made on it | sum and product of the shifts | (3), (8) |
| `first_column` | a block, sum and product | three numbers | (4) |
| `francis_step` | both matrices, a block, sum and product | both after a double step | (5) |
| `deflate` | a Hessenberg matrix | the same, with zeros for what is negligible | (6) |
| `real_schur` | a square matrix | a `Schur` | (7) |
| `block_eigenvalues` | the four numbers of a $2 \times 2$ matrix | its eigenvalues | (9), (10) |
| `eigenvalues` | a square matrix | an `Eigenvalues` | all |

`householder_vector` of linalg/householder_qr makes the mirrors, and two given helpers reflect in place and find the
active block. NumPy's and SciPy's own factorisations and eigenvalues are ruled out.

## Pitfalls

- Eigenvalues are right, and $Q T Q^T$ is not $A$.
- Real eigenvalues are found, complex ones never.
- Everything works, but for the permutation that moves all axes by one.
- The matrix is a Hessenberg matrix no more after the step.
- Small eigenvalues of a $2 \times 2$ block are zero, or have eight digits.
- Entries near $10^{-200}$ or $10^{200}$ come out as zeros, or `nan`.

## Cost

The reduction takes $\tfrac{10}{3} n^3$ operations and $\tfrac{4}{3} n^3$ for $Q$. A double step on a block of $m$ rows
takes some $10 m n$ for $H$ and as many for $Q$, and some two of them are needed for each eigenvalue: about $25 n^3$ for
the whole form. Here each mirror is three outer products of three rows in Python, which cost more than their
arithmetic. Measured on one thread, for $n$ from 10 to 60: 190 to 280 times the time of `scipy.linalg.schur`.

## Go further

An experiment: take the eigenvalues of a Jordan block with its last corner changed to $10^{-10}$, for $n$ from 2 to 12,
and draw them. A stretch goal: turn each block of two rows with real eigenvalues by one rotation into a triangle, so
that blocks are left for complex pairs only, as LAPACK does.

What is not here: *balancing*, which makes rows and columns of similar size by powers of two before all else and is
well worth it for badly scaled matrices; small bulges in long trains and aggressive deflation, by which LAPACK works on
large matrices; and eigenvectors, which come from $T$ by back substitution.

## References

1. Francis (1962), The QR transformation, part 2, https://doi.org/10.1093/comjnl/4.4.332
2. Martin, Peters & Wilkinson (1970), The QR algorithm for real Hessenberg matrices, Numerische Mathematik 14, 219-231;
   in Fortran: https://netlib.org/eispack/hqr.f
3. Watkins (2011), Francis's algorithm, https://doi.org/10.4169/amer.math.monthly.118.05.387
4. Golub & Van Loan (2013), Matrix computations, section 7.5
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from mlpath.linalg._shared import square_matrix
from mlpath.linalg.householder_qr import householder_vector


@dataclass(frozen=True)
class Hessenberg:
    """A factorisation A = Q H Q' with zeros in H below what is beside the diagonal, equation (1).

    Attributes
    ----------
    h : ndarray of shape (n, n)
        The Hessenberg matrix, with exact zeros.
    q : ndarray of shape (n, n)
        The orthogonal matrix.
    """

    h: Float[np.ndarray, "n n"]
    q: Float[np.ndarray, "n n"]


@dataclass(frozen=True)
class Schur:
    """A real Schur form A = Q T Q', equation (7), and how it was found.

    Attributes
    ----------
    t : ndarray of shape (n, n)
        Upper triangular but for blocks of two rows on the diagonal, with exact zeros. A block may have a real pair.
    q : ndarray of shape (n, n)
        The orthogonal matrix.
    steps : int
        How many double steps it took, over all blocks.
    """

    t: Float[np.ndarray, "n n"]
    q: Float[np.ndarray, "n n"]
    steps: int


@dataclass(frozen=True)
class Eigenvalues:
    """All eigenvalues of a real matrix, and how they were found.

    Attributes
    ----------
    values : ndarray of shape (n,)
        Sorted by real and then by imaginary part. Those that are not real come in pairs, conjugate to the last bit.
    steps : int
        How many double steps it took, over all blocks.
    """

    values: Complex[np.ndarray, " n"]
    steps: int


def _reflect(v: np.ndarray, beta: float, rows: np.ndarray) -> None:  # given: a helper
    """Reflect some rows of a matrix in place. For columns, hand over the transpose of the part that has them."""
    rows -= np.outer(beta * v, v @ rows)


def _active_block(h: np.ndarray) -> tuple[int, int]:  # given: a helper
    """Return where the last block of more than two rows begins and ends, as `h[start:stop, start:stop]`, or (0, 0)."""
    ends = np.flatnonzero(np.append(np.diagonal(h, -1) == 0, True)) + 1
    for start, stop in zip([*ends[-2::-1], 0], ends[::-1]):
        if stop - start > 2:
            return int(start), int(stop)
    return 0, 0


def _hessenberg_matrix(values: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return a Hessenberg matrix as an array of floats, or raise a ValueError."""
    h = square_matrix(values, name)
    if np.tril(h, -2).any():
        raise ValueError(f"{name} must have zeros below what is beside the diagonal, got {h}")
    return h


def hessenberg(a: Float[np.ndarray, "n n"]) -> Hessenberg:
    """Reduce a square matrix to Hessenberg form by reflections, equation (1).

    Parameters
    ----------
    a : ndarray
        The matrix. It is not changed.

    Returns
    -------
    Hessenberg
        Both matrices; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a square matrix of real, finite numbers.

    Examples
    --------
    >>> found = hessenberg(np.array([[1.0, 2.0, 0.0], [3.0, 5.0, 1.0], [4.0, 0.0, 2.0]]))
    >>> print(np.abs(found.h).round(4))
    [[1.   1.2  1.6 ]
     [5.   3.56 1.08]
     [0.   2.08 3.44]]
    """
    # given: the check
    a = square_matrix(a, "a")
    # yours
    h, q = a.copy(), np.eye(len(a), dtype=a.dtype)
    for k in range(len(a) - 2):
        v, beta, alpha = householder_vector(h[k + 1 :, k])
        _reflect(v, beta, h[k + 1 :, k:])
        _reflect(v, beta, h[:, k + 1 :].T)
        _reflect(v, beta, q[:, k + 1 :].T)
        h[k + 1, k], h[k + 2 :, k] = alpha, 0  # what the mirror does, rather than what rounding left of it
    return Hessenberg(h, q)


def double_shift(h: Float[np.ndarray, "n n"], count: int) -> tuple[float, float]:
    """Return sum and product of the two shifts, by (3), or by (8) if `count` is 10 or 20.

    Parameters
    ----------
    h : ndarray
        The active block, a Hessenberg matrix of three rows or more.
    count : int
        How many steps have been made for the end of this block.

    Returns
    -------
    total, product : float
        The sum s and the product p.

    Raises
    ------
    ValueError
        If `h` is not a Hessenberg matrix of at least three rows, of real, finite numbers.

    Examples
    --------
    >>> double_shift(np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 2.0], [0.0, -6.0, 7.0]]), 0)
    (11.0, 40.0)
    >>> double_shift(np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 2.0], [0.0, -6.0, 7.0]]), 10)
    (13.5, 81.0)
    """
    # given: the check
    h = _hessenberg_matrix(h, "h")
    if len(h) < 3:
        raise ValueError(f"h must have at least three rows, got {len(h)}")
    # yours
    if count in (10, 20):
        w = abs(float(h[-1, -2])) + abs(float(h[-2, -3]))
        return 1.5 * w, w * w
    (a, b), (c, d) = h[-2:, -2:].tolist()
    return a + d, a * d - b * c


def first_column(h: Float[np.ndarray, "n n"], total: float, product: float) -> Float[np.ndarray, "3"]:
    """Return a multiple of the first three entries of the first column of the double step's matrix, equation (4).

    Parameters
    ----------
    h : ndarray
        The active block, a Hessenberg matrix of three rows or more, with no zero beside its diagonal.
    total, product : float
        Sum and product of the shifts.

    Returns
    -------
    ndarray
        The vector of (4), or any multiple of it but zero; float32 if `h` is.

    Raises
    ------
    ValueError
        If `h` is not a Hessenberg matrix of at least three rows, of real, finite numbers.

    Examples
    --------
    >>> x = first_column(np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 2.0], [0.0, -6.0, 7.0]]), 11.0, 40.0)
    >>> print((x / x[2]).round(4))
    [-2.  1.  1.]
    """
    # given: the check
    h = _hessenberg_matrix(h, "h")
    if len(h) < 3:
        raise ValueError(f"h must have at least three rows, got {len(h)}")
    # yours
    x = (h[0, 0] * (h[0, 0] - total) + product) / h[1, 0] + h[0, 1]
    return np.array([x, h[0, 0] + h[1, 1] - total, h[2, 1]], h.dtype)


def francis_step(
    h: Float[np.ndarray, "n n"], q: Float[np.ndarray, "n n"], block: tuple[int, int], total: float, product: float
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]]:
    """Make a double step on one block of a Hessenberg matrix by chasing the bulge, equations (4) and (5).

    Parameters
    ----------
    h : ndarray
        The whole Hessenberg matrix. It is not changed.
    q : ndarray
        The product of all mirrors so far. It is not changed.
    block : tuple of int
        Where the block begins and ends, `h[start:stop, start:stop]`: three rows or more, no zero beside its diagonal.
    total, product : float
        Sum and product of the shifts.

    Returns
    -------
    h, q : ndarray
        The Hessenberg matrix after the step, with exact zeros, and `q` times its mirrors: q h q' stays what it was.
        Other blocks on the diagonal are as before. Both are float32 if `h` and `q` are.

    Raises
    ------
    ValueError
        If `h` is not a Hessenberg matrix or `q` not a square one of its shape, of real, finite numbers, or the block
        has fewer than three rows or is not within `h`.

    Examples
    --------
    >>> h = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 2.0], [0.0, -6.0, 7.0]])
    >>> new, q = francis_step(h, np.eye(3), (0, 3), 11.0, 40.0)
    >>> print((q @ new @ q.T).round(4) + 0.0)
    [[ 1.  2.  5.]
     [ 3.  4.  2.]
     [ 0. -6.  7.]]
    >>> print(np.abs(new).round(4)[1:])
    [[1.4434 6.54   5.9114]
     [0.     3.07   6.96  ]]
    """
    # given: the checks
    h, q = _hessenberg_matrix(h, "h"), square_matrix(q, "q")
    start, stop = block
    if h.shape != q.shape:
        raise ValueError(f"q must have the shape of h, {h.shape}, got {q.shape}")
    if not (0 <= start <= stop - 3 and stop <= len(h)):
        raise ValueError(f"block must be three rows or more of {len(h)}, got {block}")
    # yours
    h, q = h.copy(), q.copy()
    x = first_column(h[start:stop, start:stop], total, product)
    for k in range(start, stop - 1):
        rows = slice(k, min(k + 3, stop))
        v, beta, alpha = householder_vector(h[rows, k - 1] if k > start else x)
        if k > start:
            h[k, k - 1], h[k + 1 : rows.stop, k - 1] = alpha, 0
        _reflect(v, beta, h[rows, k:])
        _reflect(v, beta, h[: min(k + 4, stop), rows].T)
        _reflect(v, beta, q[:, rows].T)
    return h, q


def deflate(h: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Return a Hessenberg matrix with zeros for what is negligible beside its diagonal by (6).

    Parameters
    ----------
    h : ndarray
        The Hessenberg matrix. It is not changed.

    Returns
    -------
    ndarray
        A copy of it with zeros where (6) holds, for the rounding unit of its precision.

    Raises
    ------
    ValueError
        If `h` is not a Hessenberg matrix of real, finite numbers.

    Examples
    --------
    >>> deflate(np.array([[3.0, 1.0, 4.0], [1e-16, -2.0, 5.0], [0.0, 1e-14, 6.0]]))
    array([[ 3.e+00,  1.e+00,  4.e+00],
           [ 0.e+00, -2.e+00,  5.e+00],
           [ 0.e+00,  1.e-14,  6.e+00]])
    """
    # given: the check
    h = _hessenberg_matrix(h, "h")
    # yours
    eps, size, below = np.finfo(h.dtype).eps, np.abs(np.diagonal(h)), np.abs(np.diagonal(h, -1))
    around = np.pad(below, 1)
    neighbours = size[:-1] + size[1:] + around[:-2] + around[2:]
    small = np.flatnonzero(below <= eps * neighbours + eps * (eps * np.abs(h).max()))
    h = h.copy()
    h[small + 1, small] = 0
    return h


def real_schur(a: Float[np.ndarray, "n n"], *, max_steps: int = 30) -> Schur:
    """Return the real Schur form of a square matrix, equation (7), as accurate as (11) says.

    The matrix is divided by its largest absolute value first, and the form is multiplied by it in the end, so that
    units do not matter, from 1e-300 to 1e300.

    Parameters
    ----------
    a : ndarray
        The matrix. It is not changed.
    max_steps : int
        How many double steps are allowed for the end of one block. Three are usual.

    Returns
    -------
    Schur
        Both matrices, and the number of steps, which is 0 for a triangular matrix; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a square matrix of real, finite numbers, or `max_steps` is negative.
    LinAlgError
        If `max_steps` did not suffice.

    Examples
    --------
    >>> a = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 2.0], [0.0, -6.0, 7.0]])
    >>> found = real_schur(a)
    >>> print((found.q @ found.t @ found.q.T).round(4) + 0.0)
    [[ 1.  2.  5.]
     [ 3.  4.  2.]
     [ 0. -6.  7.]]
    >>> print(np.count_nonzero(np.diagonal(found.t, -1)))
    1
    """
    # given: the checks
    a = square_matrix(a, "a")
    if max_steps < 0:
        raise ValueError(f"max_steps must not be negative, got {max_steps}")
    # yours
    scale = np.abs(a).max() or a.dtype.type(1)
    found = hessenberg(a / scale)
    h, q, steps, count, end = deflate(found.h), found.q, 0, 0, 0
    while any(block := _active_block(h)):
        start, stop = block
        count, end = count if stop == end else 0, stop
        if count == max_steps:
            raise np.linalg.LinAlgError(
                f"{max_steps} double steps did not suffice for the block that ends at row {stop}"
            )
        total, product = double_shift(h[start:stop, start:stop], count)
        h, q = francis_step(h, q, block, total, product)
        h, steps, count = deflate(h), steps + 1, count + 1
    return Schur(scale * h, q, steps)


def block_eigenvalues(a: float, b: float, c: float, d: float) -> tuple[complex, complex]:
    """Return both eigenvalues of [[a, b], [c, d]], equations (9) and (10).

    A small real one keeps its digits, and squares or products that leave the range of floats do no harm.

    Parameters
    ----------
    a, b, c, d : float
        The entries, row by row, from 1e-300 to 1e300 in absolute value, or zero.

    Returns
    -------
    tuple of complex
        Two numbers, in any order: both with an imaginary part of exactly 0, or conjugate to the last bit.

    Raises
    ------
    ValueError
        If one of the numbers is not finite.

    Examples
    --------
    >>> [round(x.real, 4) for x in block_eigenvalues(5.0, 4.0, 3.0, 1.0)]
    [7.0, -1.0]
    >>> [np.round(x, 4).item() for x in block_eigenvalues(5.0, 4.0, -5.0, 1.0)]
    [(3+4j), (3-4j)]
    """
    # given: the check
    if not all(math.isfinite(x) for x in (a, b, c, d)):
        raise ValueError(f"a, b, c and d must be finite, got {a}, {b}, {c} and {d}")
    # yours
    a, b, c, d = float(a), float(b), float(c), float(d)
    delta, g = (a - d) / 2, math.sqrt(abs(b)) * math.sqrt(abs(c))
    opposite = (b < 0) != (c < 0)
    if opposite and g > abs(delta):
        root = math.sqrt(g - abs(delta)) * math.sqrt(g + abs(delta))
        return complex(d + delta, root), complex(d + delta, -root)
    root = math.sqrt(abs(delta) - g) * math.sqrt(abs(delta) + g) if opposite else math.hypot(delta, g)
    z = delta + math.copysign(root, delta)
    other = g / z * g if z else 0.0
    return complex(d + z), complex(d + other if opposite else d - other)


def eigenvalues(a: Float[np.ndarray, "n n"], *, max_steps: int = 30) -> Eigenvalues:
    """Return all eigenvalues of a square matrix, read off its real Schur form.

    Parameters
    ----------
    a : ndarray
        The matrix. It is not changed.
    max_steps : int
        How many double steps are allowed for the end of one block.

    Returns
    -------
    Eigenvalues
        The sorted values, in complex64 if `a` is in float32, and the number of steps.

    Raises
    ------
    ValueError
        If `a` is not a square matrix of real, finite numbers, or `max_steps` is negative.
    LinAlgError
        If `max_steps` did not suffice.

    Examples
    --------
    >>> found = eigenvalues(np.array([[0.0, -2.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 3.0]]))
    >>> print(found.values.round(4) + 0.0)
    [0.-1.j 0.+1.j 3.+0.j]
    """
    # given: the checks
    a = square_matrix(a, "a")
    if max_steps < 0:
        raise ValueError(f"max_steps must not be negative, got {max_steps}")
    # yours
    found, values, i = real_schur(a, max_steps=max_steps), [], 0
    while i < len(a):
        if i + 1 < len(a) and found.t[i + 1, i] != 0:
            values += block_eigenvalues(*found.t[i : i + 2, i : i + 2].ravel())
            i += 2
        else:
            values.append(complex(found.t[i, i]))
            i += 1
    return Eigenvalues(np.sort(np.array(values, np.result_type(a.dtype, np.complex64))), found.steps)
