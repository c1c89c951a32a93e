r"""The SVD by Golub and Kahan: make the matrix bidiagonal by mirrors, then diagonal by chasing a bulge.

## Idea

No finite number of operations can make a matrix diagonal by orthogonal ones from both sides: that would solve
polynomial equations. But it can be made *bidiagonal*, by mirrors from the left and from the right, and that is most of
the work. What is left has only two diagonals, $2n - 1$ numbers. On these the QR iteration for eigenvalues is run,
which converges very fast, and in disguise: $B^\top B$ is never formed, whose squares would cost half the digits. One
rotation makes a small mistake on purpose, an entry where there should be none, and others chase it down the diagonals
and out. Since 1970 this has been the way in which most singular values are computed, and it is still what LAPACK
builds on.

## Maths

**To two diagonals.** Let $A$ be $m \times n$ with $m \ge n$ (otherwise transpose it first and the result afterwards).
We look for orthogonal $U$ and $V$ with

$$A = U B V^\top, \qquad
B = \begin{pmatrix} d_1 & e_1 & & \\ & d_2 & \ddots & \\ & & \ddots & e_{n-1} \\ & & & d_n \end{pmatrix}, \tag{1}$$

and zeros below if $m > n$. A mirror $H_1$ from the left sends the first column of $A$ to a multiple of the first axis:
that is $d_1$. If we sent the first *row* to an axis in the same way, from the right, it would mix the first column
with the others and spoil its zeros. So leave the first entry of the row alone: a mirror $G_1$ of the coordinates from
the second on sends the rest of the row to one entry, $e_1$. Then do the same with what is left without its first row
and column:

$$H_n \cdots H_1\, A\, G_1 \cdots G_{n-1} = B, \qquad U = H_1 \cdots H_n, \quad V = G_1 \cdots G_{n-1}. \tag{2}$$

Mirror $H_k$ acts on the last $m - k + 1$ coordinates, $G_k$ on the last $n - k$, and leaves all before them alone. To
form a product of mirrors, apply them to the identity, *the last mirror first*: then most of each column is still zero.
For the *reduced* form take the first $n$ columns of the identity, for the *full* form all $m$. The mirrors
$H = I - \beta v v^\top$ come from `linalg/householder_qr`.

**What the iteration would do.** $B^\top B = T$ is symmetric and tridiagonal,

$$t_{ii} = d_i^2 + e_{i-1}^2, \qquad t_{i, i+1} = d_i e_i, \tag{3}$$

where $e_0 = 0$. One step of the QR iteration with a shift $\mu$ is

$$T - \mu I = Q R, \qquad T' = R Q + \mu I = Q^\top T\, Q, \tag{4}$$

tridiagonal again, and if $\mu$ is nearly an eigenvalue the last entry beside the diagonal becomes tiny. It must be
done to $B$, though, and without $T$. What saves us is that $Q$ is determined by its first column, but for signs, if
$T'$ is to be tridiagonal and has no zero beside its diagonal (the *implicit Q theorem*). And that column is a multiple
of the first column of $T - \mu I$, whose entries are $d_1^2 - \mu$ and $d_1 e_1$, and zeros. Divide both by $d_1$, and
write $\mu = \sigma^2$: no square is left in

$$y : z = (|d_1| - \sigma) \left( \operatorname{sign} d_1 + \frac{\sigma}{d_1} \right) : e_1. \tag{5}$$

So begin with the rotation of columns 1 and 2 that has this direction, and then do whatever it takes to make $B$
bidiagonal again.

**The chase.** A rotation with $c\, y + s\, z = r$ and $c\, z - s\, y = 0$, where $c^2 + s^2 = 1$, replaces

$$(x, x') \quad \text{by} \quad (c\, x + s\, x',\ c\, x' - s\, x) \tag{6}$$

for any two columns, or rows, $x$ and $x'$. Rotating columns 1 and 2 of $B$ puts a *bulge* where row 2 meets column 1.
A rotation of rows 1 and 2 removes it, and puts another where row 1 meets column 3. A rotation of columns 2 and 3
removes this, and a bulge comes up where row 3 meets column 2:

$$\begin{pmatrix} d_1 & e_1 & & \\ \ast & d_2 & e_2 & \\ & & d_3 & e_3 \\ & & & d_4 \end{pmatrix} \to
\begin{pmatrix} d_1 & e_1 & \ast & \\ & d_2 & e_2 & \\ & & d_3 & e_3 \\ & & & d_4 \end{pmatrix} \to
\begin{pmatrix} d_1 & e_1 & & \\ & d_2 & e_2 & \\ & \ast & d_3 & e_3 \\ & & & d_4 \end{pmatrix} \to \cdots \tag{7}$$

until it falls off the end. Rotations of columns of $B$ go to the rows of $V^\top$, those of rows to the columns of
$U$, by (6) with the same $c$ and $s$, and $U B V^\top$ stays what it was.

**The shift.** Take Wilkinson's: that eigenvalue of the last $2 \times 2$ block of $T$ which is nearer to its last
entry. With $\delta = (t_{n-1, n-1} - t_{nn}) / 2$ it is

$$\mu = t_{nn} - \frac{t_{n-1, n}^2}{\delta + \operatorname{sign}(\delta) \sqrt{\delta^2 + t_{n-1, n}^2}}, \tag{8}$$

where the sign of 0 is 1, in which nothing cancels in the denominator. For $t_{n-1,n} = 0$ this is $t_{nn}$. $T$ has no
negative eigenvalues: if rounding says so, $\mu = 0$. In the end the convergence is of third order as a rule: $e_{n-1}$
goes from $10^{-2}$ to $10^{-6}$ to $10^{-18}$.

**Deflation.** In each step, entries that make no difference up to rounding are set to 0: with the machine epsilon
$\varepsilon$

$$|d_i| \le \varepsilon \max_j \{|d_j|, |e_j|\}, \qquad \text{and then} \qquad
|e_i| \le \varepsilon\, (|d_i| + |d_{i+1}|). \tag{9}$$

A zero $e_i$ cuts $B$ in two, which may be treated by themselves. We always work on the *last block* that has no zero
$e$ within, and is not a single number.

**Zeros on the diagonal.** Let $d_k = 0$ within that block, $k$ not its last. Then row $k$ holds nothing but $e_k$,
which rotations of row $k$ with rows $k + 1, k + 2, \dots$ remove: each turns what row $k$ still has into $d_j$ of the
other row, and a new entry appears in row $k$, one column further on,

$$\begin{pmatrix} 0 & e_k & \\ & d_{k+1} & e_{k+1} \\ & & d_{k+2} \end{pmatrix} \to
\begin{pmatrix} 0 & 0 & \ast \\ & d_{k+1} & e_{k+1} \\ & & d_{k+2} \end{pmatrix} \to
\begin{pmatrix} 0 & 0 & 0 \\ & d_{k+1} & e_{k+1} \\ & & d_{k+2} \end{pmatrix}. \tag{10}$$

In the end $e_k$ is 0 and the block falls in two. If the *last* $d$ of a block is zero nothing need be done: an
ordinary step brings it about.

**In the end** $B$ is diagonal. If $d_i < 0$, turn its sign together with row $i$ of $V^\top$; sort; and let the entry
of largest absolute value in each column of $U$ be positive, by `settle_signs` of `linalg/svd/one_sided_jacobi`.

**What is accurate.** Everything was done by mirrors and rotations, and (9) neglects only what is as small as rounding.
So the result is the exact decomposition of $A + \delta A$, where $\lVert \delta A \rVert \le c\, \varepsilon \lVert A
\rVert$ and $c$ grows slowly with $m$ and $n$. By Weyl's theorem

$$|\delta \sigma_j| \le \lVert \delta A \rVert \le c\, \varepsilon\, \sigma_1. \tag{11}$$

All singular values are right up to a fraction of the largest. Nothing is promised of the digits of small ones.

## Worked example

$$A = \begin{pmatrix} 2 & -3 \\ 3 & 4 \\ 6 & 6 \end{pmatrix}, \qquad
B = \begin{pmatrix} -7 & -6 \\ 0 & -5 \end{pmatrix}$$

after two mirrors from the left, as in the note of `linalg/householder_qr`; from the right there is nothing to do. By
(3) $T = \begin{pmatrix} 49 & 42 \\ 42 & 61 \end{pmatrix}$. In (8), $\delta = -6$, the root is $42.4264$, and $\mu = 61
+ 1764 / 48.4264 = 97.4264$, so $\sigma = 9.8705$. This is already a singular value, as $T$ has no more than these two
rows, and a single step must finish. By (5) $y = (7 - 9.8705)(-1 - 1.4101) = 6.9181$ and $z = -6$; hence $c = 0.7555$
and $s = -0.6552$. By (6) the columns become

$$\begin{pmatrix} -1.3570 & -9.1191 \\ 3.2760 & -3.7773 \end{pmatrix}.$$

The first has the length $3.5459$, so the rotation of the rows has $c = -0.3827$ and $s = 0.9239$. It leaves $e =
0.3827 \cdot 9.1191 - 0.9239 \cdot 3.7773 = 0.0000$ and $d_2 = 0.3827 \cdot 3.7773 + 0.9239 \cdot 9.1191 = 9.8707$. The
singular values are $9.8705$ and $3.5459$; their product is $35 = 7 \cdot 5$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `reflect` | mirrors, a matrix | the product of all mirrors with it | (2) |
| `bidiagonalize` | a matrix, not wide | a `Bidiagonal`: $U$, $d$, $e$, $V^\top$ | (1), (2) |
| `deflate` | $d$, $e$ | both with zeros, and where the last block begins and ends | (9) |
| `wilkinson_shift` | $d$ and $e$ of a block | $\sigma$ | (3), (8) |
| `step` | a `Bidiagonal`, $\sigma$ | it after one step | (5) to (7) |
| `chase_zero` | a `Bidiagonal`, $k$ | it without $e_k$ | (6), (10) |
| `improve` | a `Bidiagonal` | it after a step, or without a zero of $d$ | all of these |
| `svd` | any matrix | an `SVD`, reduced or full | all |

Indices begin with 0 in the code. `householder_vector` and `givens_rotation` of `linalg/householder_qr` are welcome,
and so is `settle_signs`; `in_order`, which makes $d$ positive and sorts, is given. NumPy's and SciPy's own SVD are
ruled out.

## Pitfalls

- $U B V^\top = A$ holds, but $B$ has entries outside its two diagonals.
- The singular values are right and the vectors are not.
- It converges, but slowly: hundreds of steps for a few dozen values.
- It never ends for a matrix of ones, or a bidiagonal one with a zero on its diagonal.
- `nan` for a matrix of zeros, for a single column, near $10^{200}$.
- Wide matrices: the signs follow the wrong factor.

## Cost

Bidiagonalisation takes $4 n^2 (m - n/3)$ operations, and forming $U$ and $V$ about as much again. A step takes $O(k)$
for the $2k$ numbers of its block, and $6 (m + n) k$ for the vectors; about two steps for each singular value are
needed, so $6 (m + n) n^2$ in all. Each mirror goes once through the whole matrix (BLAS-2), where LAPACK gathers half
of them into matrix products. Nearly all time is spent on the rotations here, $2k$ small steps in Python for each.
Measured on one thread: 95 to 120 times the time of `numpy.linalg.svd`, from $20 \times 10$ to $300 \times 100$.

## Go further

An experiment: take $B$ with $d_i = 10^{-i}$ and $e_i = d_i$, for $i$ from 0 to 25, and compare with one-sided Jacobi.
Every $d_i$ below $10^{-16}$ is thrown away by (9). Demmel and Kahan [3] found that a bidiagonal matrix determines
*all* its singular values to nearly all digits, and that a step with shift 0 can be arranged without any subtraction,
so that it preserves them; it is used where the small values are at stake, and LAPACK's `bdsqr` has it since 1990.
Write it as a stretch goal: the whole step is two rotations for each $i$, in four lines.

What is not here: a QR factorisation before bidiagonalisation, which saves work if $m > 5n/3$; the choice of the
direction, down or up, in which graded matrices converge faster; the divide-and-conquer method, which is LAPACK's
faster one for large matrices.

## References

1. Golub & Kahan (1965), Calculating the singular values and pseudo-inverse of a matrix, https://doi.org/10.1137/0702016
2. Golub & Reinsch (1970), Singular value decomposition and least squares solutions, https://doi.org/10.1007/BF02163027
3. Demmel & Kahan (1990), Accurate singular values of bidiagonal matrices, https://doi.org/10.1137/0911052
4. Golub & Van Loan (2013), Matrix computations, section 8.6
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array
from mlpath.linalg.householder_qr import givens_rotation, householder_vector
from mlpath.linalg.svd.one_sided_jacobi import settle_signs

Mirror = tuple[Float[np.ndarray, " length"], float]


@dataclass(frozen=True)
class Bidiagonal:
    """A matrix in the form (1), or the part of it that belongs to a block of the bidiagonal matrix.

    Attributes
    ----------
    u : ndarray of shape (n_rows, n_left)
        Orthonormal columns, the first `n` of which belong to rows of the bidiagonal matrix; there may be more.
    d : ndarray of shape (n,)
        The diagonal.
    e : ndarray of shape (n - 1,)
        What is above the diagonal.
    vt : ndarray of shape (n, n_cols)
        Orthonormal rows, which belong to columns of the bidiagonal matrix.
    """

    u: Float[np.ndarray, "n_rows n_left"]
    d: Float[np.ndarray, " n"]
    e: Float[np.ndarray, " n_above"]
    vt: Float[np.ndarray, "n n_cols"]


@dataclass(frozen=True)
class SVD:
    """A singular value decomposition, and how long it took.

    Attributes
    ----------
    u : ndarray of shape (n_rows, n_left)
        The left singular vectors, orthonormal, in the columns. `n_left` is min(n_rows, n_cols), or `n_rows` in the
        full form.
    s : ndarray of shape (n_values,)
        The min(n_rows, n_cols) singular values, from the largest.
    vt : ndarray of shape (n_right, n_cols)
        The right singular vectors, orthonormal, in the rows. `n_right` is min(n_rows, n_cols), or `n_cols` in the full
        form.
    iterations : int
        How many steps were made, and zeros chased; 0 if bidiagonalisation already made the matrix diagonal.
    """

    u: Float[np.ndarray, "n_rows n_left"]
    s: Float[np.ndarray, " n_values"]
    vt: Float[np.ndarray, "n_right n_cols"]
    iterations: int


def _check_diagonals(d: np.ndarray, e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return both diagonals as arrays of floats, or raise a ValueError."""
    d, e = real_array(d, "d", ndim=1), np.asarray(e)
    if e.shape != (len(d) - 1,) or e.dtype.kind not in "fiu" or not np.isfinite(e).all():
        raise ValueError(f"e must be a vector of {len(d) - 1} finite numbers, one less than d has, got {e}")
    return d, e.astype(np.result_type(d, e))


def _check_bidiagonal(b: Bidiagonal) -> None:  # given: argument checks
    """Raise a ValueError unless the parts fit."""
    d, _ = _check_diagonals(b.d, b.e)
    u, vt = real_array(b.u, "u", ndim=2), real_array(b.vt, "vt", ndim=2)
    if u.shape[1] < len(d) or len(vt) != len(d):
        raise ValueError(f"u must have at least {len(d)} columns and vt as many rows, got {u.shape} and {vt.shape}")


def _check_step(b: Bidiagonal, shift: float) -> None:  # given: argument checks
    """Raise a ValueError unless a step can be made on the block with that shift."""
    _check_bidiagonal(b)
    if len(b.d) < 2 or b.d[0] == 0:
        raise ValueError(f"d must have at least two entries, the first of them not 0, got {b.d}")
    if not 0 <= shift < math.inf:
        raise ValueError(f"shift must be finite and not negative, got {shift}")


def reflect(mirrors: Sequence[Mirror], x: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, "n_rows n_cols"]:
    r"""Return the product of mirrors with a matrix: the first of them times the second, and so on, times the matrix.

    Parameters
    ----------
    mirrors : sequence of pairs
        $v$ and $\beta$ of each $H = I - \beta v v^\top$, perhaps none. It acts on as many rows as `v` has entries, the
        *last* ones.
    x : ndarray
        The matrix. It is not changed.

    Returns
    -------
    ndarray
        $H_1 H_2 \cdots X$, without forming a matrix for any mirror; float32 if all arguments are.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers, or a mirror has more entries than it has rows.

    Examples
    --------
    >>> print(reflect([(np.array([1.0, 1.0]), 1.0)], np.array([[7.0, 8.0], [5.0, 2.0], [1.0, 0.0]])))
    [[ 7.  8.]
     [-1.  0.]
     [-5. -2.]]
    """
    # given: the checks
    x = real_array(x, "x", ndim=2)
    for v, _ in mirrors:
        if np.ndim(v) != 1 or len(v) > len(x):
            raise ValueError(f"mirrors must be vectors of at most {len(x)} entries, got the shape {np.shape(v)}")
    # yours
    x = x.copy()
    for v, beta in reversed(mirrors):
        last = x[len(x) - len(v) :]
        last -= np.outer(beta * v, v @ last)
    return x


def bidiagonalize(a: Float[np.ndarray, "n_rows n_cols"], *, full: bool = False) -> Bidiagonal:
    """Make a matrix bidiagonal by mirrors from both sides, equations (1) and (2).

    Parameters
    ----------
    a : ndarray
        The matrix, with at least as many rows as columns. It is not changed.
    full : bool
        Whether `u` is square, or has only `n_cols` columns.

    Returns
    -------
    Bidiagonal
        The factors, in float32 if `a` is. The signs in `d` and `e` are as they come.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number, or has more columns than rows.

    Examples
    --------
    >>> b = bidiagonalize(np.array([[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]]))
    >>> print(np.abs(b.d).round(4), np.abs(b.e).round(4), b.u.shape)
    [7. 5.] [6.] (3, 2)
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if a.shape[0] < a.shape[1]:
        raise ValueError(f"a must have at least as many rows as columns, got the shape {a.shape}")
    # yours
    (n_rows, n_cols), rest = a.shape, a.copy()
    d, e = np.zeros(n_cols, a.dtype), np.zeros(n_cols - 1, a.dtype)
    left, right = [], []
    for k in range(n_cols):
        v, beta, d[k] = householder_vector(rest[:, 0])
        left.append((v, beta))
        if k < n_cols - 1:
            rest = reflect(left[-1:], rest[:, 1:])
            v, beta, e[k] = householder_vector(rest[0])
            right.append((v, beta))
            rest = reflect(right[-1:], rest[1:].T).T
    u = reflect(left, np.eye(n_rows, n_rows if full else n_cols, dtype=a.dtype))
    return Bidiagonal(u, d, e, reflect(right, np.eye(n_cols, dtype=a.dtype)).T)


def deflate(
    d: Float[np.ndarray, " n"], e: Float[np.ndarray, " n_above"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n_above"], int, int]:
    """Set negligible entries to zero, equation (9), and find the last block that is not diagonal.

    Parameters
    ----------
    d, e : ndarray
        The diagonal, and what is above it. They are not changed.

    Returns
    -------
    d, e : ndarray
        The same with zeros: first in `d`, then in `e` beside the new `d`, by the epsilon of the precision of `d`.
    start, stop : int
        The last block of at least two rows that has no zero in `e` within: the rows `start` to `stop` - 1. Both are 0
        if there is none.

    Raises
    ------
    ValueError
        If `d` is not a vector of at least one real, finite number, or `e` not one with one entry less.

    Examples
    --------
    >>> d, e, start, stop = deflate(np.array([3.0, 2.0, 5.0, 1.0]), np.array([0.7, 0.4, 1e-20]))
    >>> print(e, start, stop)
    [0.7 0.4 0. ] 0 3
    """
    # given: the checks
    d, e = _check_diagonals(d, e)
    # yours
    eps = np.finfo(d.dtype).eps
    d = np.where(np.abs(d) <= eps * max(np.abs(d).max(), np.abs(e).max(initial=0)), 0, d)
    e = np.where(np.abs(e) <= eps * (np.abs(d[:-1]) + np.abs(d[1:])), 0, e)
    left = np.flatnonzero(e)
    if not len(left):
        return d, e, 0, 0
    cuts = np.flatnonzero(e[: left[-1]] == 0)
    return d, e, int(cuts[-1]) + 1 if len(cuts) else 0, int(left[-1]) + 2


def wilkinson_shift(d: Float[np.ndarray, " n"], e: Float[np.ndarray, " n_above"]) -> float:
    r"""Return the shift of a block, the root of (8).

    Parameters
    ----------
    d, e : ndarray
        The diagonal of a block of at least two rows, and what is above it. Squares must stay within the range of
        floats.

    Returns
    -------
    float
        $\sigma = \sqrt{\mu}$, or 0 if rounding makes $\mu$ negative.

    Raises
    ------
    ValueError
        If `d` is not a vector of at least two real, finite numbers, or `e` not one with one entry less.

    Examples
    --------
    >>> round(wilkinson_shift(np.array([-7.0, -5.0]), np.array([-6.0])), 4)
    9.8705
    """
    # given: the checks
    d, e = _check_diagonals(d, e)
    if len(d) < 2:
        raise ValueError(f"d must have at least two entries, got {d}")
    # yours
    above = float(e[-2]) if len(e) > 1 else 0.0
    p, q, r = float(d[-2]), float(d[-1]), float(e[-1])
    delta, beside = (p**2 + above**2 - q**2 - r**2) / 2, p * r
    mu = q**2 + r**2
    if beside != 0:
        mu -= beside**2 / (delta + math.copysign(math.hypot(delta, beside), delta))
    return math.sqrt(max(mu, 0.0))


def _rotated(x: Any, y: Any, c: float, s: float) -> tuple[Any, Any]:
    """Return both after the rotation (6)."""
    return c * x + s * y, c * y - s * x


def step(b: Bidiagonal, shift: float) -> Bidiagonal:
    r"""Make one step of the QR iteration (4) on a block, without ever forming $T$: equations (5) to (7).

    Parameters
    ----------
    b : Bidiagonal
        A block of at least two rows with no zero in `e`, and none in `d` but perhaps its last. It is not changed.
    shift : float
        $\sigma = \sqrt{\mu}$, not negative. $\sigma / d_1$ must not overflow.

    Returns
    -------
    Bidiagonal
        The block after the step: $U B V^\top$ is what it was, and $B^\top B$ is $T'$ of (4), but for signs. Columns of
        `u` beyond the rows of the block are as they were. In float32 if `b` is.

    Raises
    ------
    ValueError
        If the parts of `b` do not fit or are not finite, `b` has less than two rows, `d` begins with 0, or `shift` is
        negative or not finite.

    Examples
    --------
    >>> b = step(Bidiagonal(np.eye(2), np.array([-7.0, -5.0]), np.array([-6.0]), np.eye(2)), 9.870481592667809)
    >>> print(np.abs(b.d).round(4), np.abs(b.e).round(4))
    [3.5459 9.8705] [0.]
    """
    # given: the checks, and arrays that may be changed
    _check_step(b, shift)
    u, d, e, vt = b.u.copy(), b.d.copy(), b.e.copy(), b.vt.copy()
    # yours
    y, z = (abs(d[0]) - shift) * (math.copysign(1, d[0]) + shift / d[0]), e[0]
    for k in range(len(e)):
        c, s, r = givens_rotation(y, z)  # of columns k and k + 1
        if k > 0:
            e[k - 1] = r
        y, e[k] = _rotated(d[k], e[k], c, s)
        z, d[k + 1] = s * d[k + 1], c * d[k + 1]
        vt[k], vt[k + 1] = _rotated(vt[k], vt[k + 1], c, s)
        c, s, d[k] = givens_rotation(y, z)  # of rows k and k + 1
        e[k], d[k + 1] = _rotated(e[k], d[k + 1], c, s)
        y, z = e[k], 0.0
        if k + 1 < len(e):
            z, e[k + 1] = s * e[k + 1], c * e[k + 1]
        u[:, k], u[:, k + 1] = _rotated(u[:, k], u[:, k + 1], c, s)
    return Bidiagonal(u, d, e, vt)


def chase_zero(b: Bidiagonal, k: int) -> Bidiagonal:
    r"""Remove what is to the right of a zero on the diagonal, by rotations of rows, equation (10).

    Parameters
    ----------
    b : Bidiagonal
        A block with `d[k]` = 0. It is not changed.
    k : int
        Which row, from 0; not the last.

    Returns
    -------
    Bidiagonal
        The block with `e[k]` = 0 as well, and $U B V^\top$ what it was. Only `u`, and the entries of `d` and `e`
        behind row `k`, have changed. In float32 if `b` is.

    Raises
    ------
    ValueError
        If the parts of `b` do not fit or are not finite, `k` is not the index of a row but the last, or `d[k]` is not
        0.

    Examples
    --------
    >>> b = Bidiagonal(np.eye(2), np.array([0.0, 3.0]), np.array([4.0]), np.eye(2))
    >>> b = chase_zero(b, 0)
    >>> print(b.d, b.e, b.u.round(4).tolist())
    [0. 5.] [0.] [[0.6, 0.8], [-0.8, 0.6]]
    """
    # given: the checks, and arrays that may be changed
    _check_bidiagonal(b)
    if not 0 <= k < len(b.d) - 1 or b.d[k] != 0:
        raise ValueError(f"k must be the index of a zero in d, but not the last, got {k} and {b.d}")
    u, d, e = b.u.copy(), b.d.copy(), b.e.copy()
    # yours
    z, e[k] = float(e[k]), 0
    for j in range(k + 1, len(d)):
        c, s, d[j] = givens_rotation(d[j], z)
        u[:, j], u[:, k] = _rotated(u[:, j], u[:, k], c, s)
        if j < len(e):
            z, e[j] = -s * e[j], c * e[j]
    return Bidiagonal(u, d, e, b.vt.copy())


def improve(b: Bidiagonal) -> Bidiagonal:
    """Make one iteration on a block: chase out a zero of the diagonal if there is one to be chased, or make a step.

    Parameters
    ----------
    b : Bidiagonal
        A block of at least two rows with no zero in `e`. It is not changed.

    Returns
    -------
    Bidiagonal
        If `d` has zeros but for its last entry, the block after `chase_zero` of the last of these; otherwise after a
        step with Wilkinson's shift.

    Raises
    ------
    ValueError
        If the parts of `b` do not fit or are not finite, or `b` has less than two rows.

    Examples
    --------
    >>> b = improve(Bidiagonal(np.eye(2), np.array([-7.0, -5.0]), np.array([-6.0]), np.eye(2)))
    >>> print(np.abs(b.d).round(4), np.abs(b.e).round(4))
    [3.5459 9.8705] [0.]
    """
    # given: the checks
    _check_bidiagonal(b)
    if len(b.d) < 2:
        raise ValueError(f"d must have at least two entries, got {b.d}")
    # yours
    zeros = np.flatnonzero(b.d[:-1] == 0)
    if len(zeros):
        return chase_zero(b, int(zeros[-1]))
    return step(b, wilkinson_shift(b.d, b.e))


def in_order(  # given: as in one-sided Jacobi
    u: Float[np.ndarray, "n_rows n_left"], d: Float[np.ndarray, " n"], vt: Float[np.ndarray, "n n"]
) -> tuple[Float[np.ndarray, "n_rows n_left"], Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Return a decomposition with positive singular values in descending order.

    Parameters
    ----------
    u : ndarray
        Orthonormal columns, at least `n`. Those beyond the first `n` stay where they are.
    d : ndarray
        What is on the diagonal, of any sign and in any order.
    vt : ndarray
        Orthonormal rows.

    Returns
    -------
    u, s, vt : ndarray
        The absolute values from the largest, column k of `u` and row k of `vt` moved along with them. The product is
        what it was: where the sign in `d` was negative, the row of `vt` is multiplied by -1.

    Raises
    ------
    ValueError
        If an argument is not finite, or `u` has less than `n` columns, or `vt` not `n` rows and columns.

    Examples
    --------
    >>> u, s, vt = in_order(np.eye(3), np.array([2.0, -5.0]), np.eye(2))
    >>> print(s, u.tolist())
    [5. 2.] [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    >>> print((vt + 0.0).tolist())
    [[0.0, -1.0], [1.0, 0.0]]
    """
    # given: the checks
    u, d, vt = real_array(u, "u", ndim=2), real_array(d, "d", ndim=1), real_array(vt, "vt", ndim=2)
    if u.shape[1] < len(d) or vt.shape != (len(d), len(d)):
        raise ValueError(f"d must have as many entries as vt has rows, and u columns at least, got {len(d)} entries")
    # yours
    order = np.argsort(-np.abs(d))
    vt = (vt * np.copysign(1, d)[:, None])[order]
    u = np.hstack([u[:, order], u[:, len(d) :]])
    return u, np.abs(d)[order], vt


def svd(a: Float[np.ndarray, "n_rows n_cols"], *, full: bool = False, max_iterations: int | None = None) -> SVD:
    """Return the singular value decomposition of any matrix: bidiagonalise, then step by step until no block is left.

    In each iteration the last block is taken. If there is a zero in its `d`, but for the last entry, the last of these
    zeros is chased out; otherwise a step is made with Wilkinson's shift.

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide, of any rank, entries from 1e-300 to 1e300. It is not changed.
    full : bool
        Whether `u` and `vt` are square, or have only as many vectors as there are singular values.
    max_iterations : int, optional
        How many iterations are allowed, 30 for each singular value if not given. About 2 for each are usual.

    Returns
    -------
    SVD
        The decomposition, up to (11); in float32 if `a` is. In each column of `u` the entry of largest absolute value
        is positive, and so it is in rows of `vt` that have no partner in `u`.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number, or `max_iterations` is negative.
    LinAlgError
        If `max_iterations` did not suffice.

    Examples
    --------
    >>> found = svd(np.array([[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]]))
    >>> print(found.s.round(4), found.iterations)
    [9.8705 3.5459] 1
    >>> print(found.vt.round(4))
    [[ 0.6552  0.7555]
     [ 0.7555 -0.6552]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if max_iterations is not None and max_iterations < 0:
        raise ValueError(f"max_iterations must not be negative, got {max_iterations}")
    # yours
    limit = 30 * min(a.shape) if max_iterations is None else max_iterations
    scale = np.abs(a).max() or 1
    wide = a.shape[0] < a.shape[1]
    b, iterations = bidiagonalize(a.T / scale if wide else a / scale, full=full), 0
    u, d, e, vt = b.u, b.d, b.e, b.vt
    while True:
        d, e, i, j = deflate(d, e)
        if i == j:
            break
        if iterations == limit:
            raise np.linalg.LinAlgError(f"{limit} iterations did not suffice")
        block = improve(Bidiagonal(u[:, i:j], d[i:j], e[i : j - 1], vt[i:j]))
        u[:, i:j], d[i:j], e[i : j - 1], vt[i:j] = block.u, block.d, block.e, block.vt
        iterations += 1
    u, s, vt = in_order(u, d, vt)
    u, vt = settle_signs(vt.T, u.T) if wide else settle_signs(u, vt)
    return SVD(u, scale * s, vt, iterations)
