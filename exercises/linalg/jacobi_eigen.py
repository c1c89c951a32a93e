r"""Eigenvalues by Jacobi rotations: turn two axes at a time until nothing is left off the diagonal.

## Idea

A symmetric matrix is diagonal in the right coordinates. For a $2 \times 2$ matrix it takes one rotation of the plane.
A larger one is made diagonal by such rotations of two axes at a time: each makes one entry zero and spoils others,
but the sum of squares off the diagonal falls every time, and in the end extremely fast. Jacobi did this by hand in
1846. It is slower than what LAPACK does today, and for positive definite matrices with entries of very different
sizes it is far more accurate: the small eigenvalues come out with as many right digits as the large ones.

## Maths

**One rotation.** How far from diagonal a matrix is, we measure by

$$\operatorname{off}(A) = \Big( \sum_{i \ne j} a_{ij}^2 \Big)^{1/2}. \tag{1}$$

Let $J$ be the identity but for rows and columns $p$ and $q$, and turn $A$ by it:

$$A' = J^T A J, \qquad
\begin{pmatrix} J_{pp} & J_{pq} \\ J_{qp} & J_{qq} \end{pmatrix} = \begin{pmatrix} c & s \\ -s & c \end{pmatrix},
\qquad c^2 + s^2 = 1. \tag{2}$$

$A'$ has the eigenvalues of $A$. Multiplied out, for $r$ other than $p$ and $q$,

$$a'_{rp} = c\, a_{rp} - s\, a_{rq}, \qquad a'_{rq} = s\, a_{rp} + c\, a_{rq}, \qquad
a'_{pq} = (c^2 - s^2)\, a_{pq} + c s\, (a_{pp} - a_{qq}). \tag{3}$$

The sum of all squares does not change, and $a_{rp}^2 + a_{rq}^2$ does not either. So if $a'_{pq} = 0$, then
$\operatorname{off}^2$ falls by exactly $2 a_{pq}^2$, which moves to the diagonal. There, with $t = s / c$,
$a'_{pp} = a_{pp} - t\, a_{pq}$ and $a'_{qq} = a_{qq} + t\, a_{pq}$.

**The angle.** Divide $a'_{pq} = 0$ by $c^2 a_{pq}$:

$$t^2 + 2 \tau t - 1 = 0, \qquad \tau = \frac{a_{qq} - a_{pp}}{2\, a_{pq}}. \tag{4}$$

The product of the two solutions is $-1$: one angle is at most $45°$, the other differs from it by $90°$. Take the
smaller. Solved as $-\tau \pm \sqrt{1 + \tau^2}$ it is the difference of nearly equal numbers when $\tau$ is large, but
it is also 1 divided by the other solution with opposite sign, in which nothing cancels:

$$t = \frac{\operatorname{sign} \tau}{|\tau| + \sqrt{1 + \tau^2}}, \tag{5}$$

where the sign of 0 may be either $1$ or $-1$, but not 0. Then

$$c = \frac{1}{\sqrt{1 + t^2}}, \qquad s = t\, c. \tag{6}$$

If $a_{pq} = 0$ already, nothing is to be done: $t = 0$.

**All pairs.** A *sweep* turns each pair of axes once. Pairs that have no axis in common do not disturb each other and
can be turned at once, as the games of one round of a tournament. For an odd number $n$ of players, in round $r = 0,
\dots, n - 1$ let those play each other for whom

$$i + j \equiv r \pmod n. \tag{7}$$

The partner of $i$ is determined, and different in each round. One number is its own partner and sits out. If $n$ is
even, let $n - 1$ of them play like this, and the last is the partner of whoever sits out. The eigenvectors are the
columns of the product $V$ of all $J$: if $V^T A V$ is diagonal, the columns of $V$ solve $A v = \lambda v$.

**When to stop.** When each entry is negligible beside its own two diagonal entries:

$$\max_{p \ne q} \frac{|a_{pq}|}{\sqrt{|a_{pp}|\, |a_{qq}|}} \le \varepsilon, \tag{8}$$

with the rounding unit $\varepsilon$ of the arithmetic. If $A = G^T G$, these are the cosines between columns of $G$.
The classical criterion is $\operatorname{off}(A) \le \varepsilon \max |a_{ij}|$. By Weyl's theorem it keeps the error
of each eigenvalue below $\varepsilon \max |a_{ij}|$, which says nothing about an eigenvalue smaller than that.

**Order and sign.** The diagonal comes out in any order, so sort it. If $v$ is an eigenvector, so is $-v$; let

$$v_k > 0 \quad \text{for the first } k \text{ with } |v_k| = \max_i |v_i|. \tag{9}$$

**How fast.** Suppose all $|a_{pq}|$ are at most $\delta$, and the diagonal entries differ by much more, by $\gamma$
at least. By (4) the tangents are about $a_{pq} / (a_{qq} - a_{pp})$, at most $\delta / \gamma$. Once zero, an entry
is mixed by (3) with $s$ times others, and becomes $\delta^2 / \gamma$ at most, up to a constant that depends on $n$.
Each sweep squares the norm:

$$\operatorname{off}(A') = O\!\left( \operatorname{off}(A)^2 / \gamma \right). \tag{10}$$

**Why small eigenvalues are right.** Let $A$ be positive definite, $D$ the diagonal matrix of the roots
$\sqrt{a_{ii}}$, and $A = D B D$. So $B$ has ones on its diagonal, and is free of the units in which $A$ came. Now
change $A$ by $\delta A = D\, \delta B\, D$, that is, each $a_{pq}$ by little compared with $\sqrt{a_{pp} a_{qq}}$.
For any $x$, with $y = D x$,

$$|x^T \delta A\, x| = |y^T \delta B\, y| \le \|\delta B\|\, y^T y \le \frac{\|\delta B\|}{\lambda_{\min}(B)}\, y^T B y
= \frac{\|\delta B\|}{\lambda_{\min}(B)}\, x^T A x.$$

All quotients $x^T A x / x^T x$ change by this factor at most, and eigenvalues are minima of maxima of such quotients.
Therefore *every* eigenvalue, small or large, satisfies

$$\frac{|\delta \lambda|}{\lambda} \le \frac{\|\delta B\|}{\lambda_{\min}(B)}. \tag{11}$$

What (8) neglects is such a change with $\|\delta B\| \le n \varepsilon$. The rounding errors of a rotation are such
changes, too [1]. ($B$ changes from rotation to rotation; that $\lambda_{\min}(B)$ hardly falls is observed, not
proved.) A method that begins with orthogonal transformations of whole columns mixes large and small entries, and its
errors are $\varepsilon$ times the largest entry everywhere.

## Worked example

$$A = \begin{pmatrix} 3 & 2 & 1 \\ 2 & 6 & 0 \\ 1 & 0 & 4 \end{pmatrix}, \qquad
\operatorname{off}^2 = 2\, (4 + 1) = 10.$$

Axes 0 and 1: $\tau = (6 - 3) / 4 = 0.75$, $t = 1 / (0.75 + 1.25) = 0.5$, $c = 0.8944$, $s = 0.4472$. The diagonal
becomes $3 - 0.5 \cdot 2 = 2$ and $6 + 0.5 \cdot 2 = 7$; in row 2, $0.8944 \cdot 1$ and $0.4472 \cdot 1$. Now
$\operatorname{off}^2 = 2\, (0.8 + 0.2) = 2$, less by $2 \cdot 2^2$.

Axes 0 and 2: $\tau = (4 - 2) / 1.7889 = 1.1180$, $t = 1 / (1.1180 + 1.5) = 0.3820$; the diagonal is $1.6584,\ 7,\
4.3416$. The entry between 0 and 1, zero a moment ago, is $-0.3568 \cdot 0.4472 = -0.1596$, and $\operatorname{off}^2
= 0.4$. After axes 1 and 2 it is $0.0509$, and the diagonal is $1.6584,\ 7.0641,\ 4.2775$. The eigenvalues are
$1.6535,\ 4.2778,\ 7.0687$: one sweep has found them to better than one in 300.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `off_diagonal_norm` | a matrix | its norm off the diagonal | (1) |
| `largest_cosine` | a symmetric matrix | the largest entry, relative to its two diagonal ones | (8) |
| `rotation` | the entries of several $2 \times 2$ matrices | cosines and sines | (4) to (6) |
| `rounds` | a number of axes | all pairs, in rounds | (7) |
| `rotate` | a matrix, disjoint pairs, their cosines and sines | the rotated matrix | (2), (3) |
| `sweep` | a matrix and the rotations so far | both after one more sweep | (2) to (7) |
| `in_order` | eigenvalues and vectors | both sorted, signs settled | (9) |
| `jacobi_eigen` | a symmetric matrix | an `Eigen` | all |

NumPy's and SciPy's own eigenvalues and singular values are ruled out.

## Pitfalls

- The norm (1) falls, but slowly, and never becomes a square.
- All is well for $3 \times 3$, and at $n = 4$ one pair is never turned.
- Large eigenvalues have all digits, small ones of a graded matrix have eight.
- Two equal diagonal entries are left with what is between them.
- The matrix becomes diagonal, and the vectors do not fit.
- Entries near $10^{-150}$ give `nan`, or a norm of 0.

## Cost

A rotation of rows and columns, and of two columns of $V$, takes some $18 n$ operations, a sweep $9 n^3$, and 5 to 10
sweeps are usual. LAPACK needs about as many operations in all as one sweep, and does much of it by products of blocks
that stay in the cache. Here each round is a dozen small steps in Python, and goes through the whole matrix several
times. Measured on one thread, for $n$ from 10 to 150: 300 to 410 times the time of `numpy.linalg.eigh`. A matrix of
deficient rank takes a few sweeps more with (8), because its zero eigenvalues are chased down to $10^{-16}$ of what
rounding made of them.

## Go further

An experiment: take $D B D$ with $B$ well conditioned and $D$ from 1 to $10^{-10}$ in a random order, and compare with
`numpy.linalg.eigvalsh`: which digits differ, and how many of its eigenvalues are negative? A stretch goal: rotate
only the columns of $G$ in $A = G^T G$, until they are orthogonal. That is one-sided Jacobi, which finds singular
values to high relative accuracy without ever forming $A$.

What is not here: thresholds that skip small rotations, a proof of convergence (for the order by rows, [2]), block
versions. Errors of an *indefinite* matrix are only bounded by those of the classical criterion: (11) needs $x^T A x >
0$.

## References

1. Demmel & Veselić (1992), Jacobi's method is more accurate than QR, https://doi.org/10.1137/0613074
2. Forsythe & Henrici (1960), The cyclic Jacobi method, https://doi.org/10.1090/S0002-9947-1960-0109825-2
3. Golub & Van Loan (2013), Matrix computations, section 8.5
4. Brent & Luk (1985), rounds of disjoint pairs on parallel processors, https://doi.org/10.1137/0906007
"""

# 8 parts to write. Test them with: pytest exercises/linalg/jacobi_eigen.py
# To be written without: scipy.linalg, numpy.linalg.eig, numpy.linalg.eigh, numpy.linalg.eigvals, numpy.linalg.eigvalsh, numpy.linalg.svd, numpy.linalg.svdvals

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix


@dataclass(frozen=True)
class Eigen:
    """What `jacobi_eigen` found, and how it went: `a @ vectors` is `vectors * values` up to rounding.

    Attributes
    ----------
    values : ndarray of shape (n,)
        The eigenvalues, ascending.
    vectors : ndarray of shape (n, n)
        The eigenvectors, of length 1 and at right angles to each other, in the columns; signs as in (9).
    sweeps : int
        How many sweeps it took.
    off : ndarray of shape (sweeps + 1,)
        The norm (1) of what is off the diagonal, before the first sweep and after each.
    """

    values: Float[np.ndarray, " n"]
    vectors: Float[np.ndarray, "n n"]
    sweeps: int
    off: Float[np.ndarray, " n_norms"]


def _check_pairs(n: int, p: ArrayLike, q: ArrayLike) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return the indices of disjoint pairs below `n` as arrays, or raise a ValueError."""
    p, q = np.asarray(p), np.asarray(q)
    both = np.concatenate([p.ravel(), q.ravel()])
    if p.ndim != 1 or p.shape != q.shape or both.dtype.kind not in "iu":
        raise ValueError(f"p and q must be equally long vectors of whole numbers, got {p} and {q}")
    if len(np.unique(both)) < len(both) or (both.size and not 0 <= both.min() <= both.max() < n):
        raise ValueError(f"p and q must be different indices from 0 to {n - 1}, none of them twice, got {p} and {q}")
    return p, q


def off_diagonal_norm(a: Float[np.ndarray, "n n"]) -> float:
    """Return the root of the sum of the squares off the diagonal, equation (1).

    It is right from 1e-300 to 1e300, where the squares themselves would leave the range of floats.

    Parameters
    ----------
    a : ndarray
        A square matrix.

    Returns
    -------
    float
        The norm; 0 for a diagonal matrix.

    Raises
    ------
    ValueError
        If `a` is not a square matrix of real, finite numbers.

    Examples
    --------
    >>> round(off_diagonal_norm(np.array([[7.0, 3.0], [4.0, -2.0]])), 4)
    5.0
    """
    # given: the check
    a = square_matrix(a, "a")
    raise NotImplementedError("not written yet: off_diagonal_norm")


def largest_cosine(a: Float[np.ndarray, "n n"]) -> float:
    """Return how large the entries off the diagonal are beside those on it, equation (8).

    It does not change if row and column i are multiplied by the same factor, and is right from 1e-300 to 1e300.

    Parameters
    ----------
    a : ndarray
        A symmetric matrix, positive definite or not.

    Returns
    -------
    float
        The largest of the quotients. One of 0 / 0 counts as 0; other divisions by 0 make it infinite, without a
        warning.

    Raises
    ------
    ValueError
        If `a` is not a symmetric matrix of real, finite numbers.

    Examples
    --------
    >>> round(largest_cosine(np.array([[4.0, 0.5], [0.5, 0.25]])), 4)
    0.5
    """
    # given: the check
    a = symmetric_matrix(a, "a")
    raise NotImplementedError("not written yet: largest_cosine")


def rotation(
    a_pp: Float[np.ndarray, " n_pairs"], a_qq: Float[np.ndarray, " n_pairs"], a_pq: Float[np.ndarray, " n_pairs"]
) -> tuple[Float[np.ndarray, " n_pairs"], Float[np.ndarray, " n_pairs"]]:
    """Return cosine and sine of the smaller angle that makes each 2 x 2 matrix diagonal, equations (4) to (6).

    The tangent is from -1 to 1. An entry `a_pq` of 0 needs no rotation: cosine 1 and sine 0.

    Parameters
    ----------
    a_pp, a_qq : ndarray
        The two diagonal entries of each matrix.
    a_pq : ndarray
        The entry of each off the diagonal.

    Returns
    -------
    c, s : ndarray
        The cosines, positive, and the sines, with all digits right even where they are tiny; float32 if all arguments
        are.

    Raises
    ------
    ValueError
        If the arguments are not vectors of one length, of real, finite numbers.

    Examples
    --------
    >>> c, s = rotation(np.array([1.0]), np.array([4.0]), np.array([2.0]))
    >>> print(c.round(4), s.round(4))
    [0.8944] [0.4472]
    """
    # given: the checks
    a_pp, a_qq = real_array(a_pp, "a_pp", ndim=1), real_array(a_qq, "a_qq", ndim=1)
    a_pq = real_array(a_pq, "a_pq", ndim=1)
    if not a_pp.shape == a_qq.shape == a_pq.shape:
        raise ValueError(f"a_pq must be as long as a_pp and a_qq, got {a_pp.shape}, {a_qq.shape} and {a_pq.shape}")
    raise NotImplementedError("not written yet: rotation")


def rounds(n: int) -> Int[np.ndarray, "n_rounds n_pairs 2"]:
    """Return all pairs of the numbers below `n` in as few rounds as possible, no number twice in one round, by (7).

    Parameters
    ----------
    n : int
        How many numbers there are, at least 1.

    Returns
    -------
    ndarray
        The pairs of each round, the smaller number first; rounds, and pairs within a round, in any order. If `n` is odd
        there are `n` rounds of (n - 1) / 2 pairs, and if it is even `n` - 1 rounds of n / 2 pairs.

    Raises
    ------
    ValueError
        If `n` is not positive.

    Examples
    --------
    >>> print(rounds(3))
    [[[1 2]]
    <BLANKLINE>
     [[0 1]]
    <BLANKLINE>
     [[0 2]]]
    """
    # given: the check
    if n < 1:
        raise ValueError(f"n must be positive, got {n}")
    raise NotImplementedError("not written yet: rounds")


def rotate(
    a: Float[np.ndarray, "n n"],
    p: Int[np.ndarray, " n_pairs"],
    q: Int[np.ndarray, " n_pairs"],
    c: Float[np.ndarray, " n_pairs"],
    s: Float[np.ndarray, " n_pairs"],
) -> Float[np.ndarray, "n n"]:
    """Return the matrix after rotations of disjoint pairs of axes, from both sides, equations (2) and (3).

    Parameters
    ----------
    a : ndarray
        A symmetric matrix. It is not changed.
    p, q : ndarray
        The indices of the pairs, none of them twice.
    c, s : ndarray
        Cosine and sine for each pair.

    Returns
    -------
    ndarray
        The rotated matrix, symmetric to the last bit.

    Raises
    ------
    ValueError
        If `a` is not a symmetric matrix of real, finite numbers, or `p` and `q` are no disjoint pairs of its indices.

    Examples
    --------
    >>> a = np.array([[1.0, 2.0], [2.0, 4.0]])
    >>> rotate(a, np.array([0]), np.array([1]), np.array([0.8]), np.array([0.6])).round(4)
    array([[ 0.16, -0.88],
           [-0.88,  4.84]])
    """
    # given: the checks
    a = symmetric_matrix(a, "a")
    p, q = _check_pairs(len(a), p, q)
    raise NotImplementedError("not written yet: rotate")


def sweep(
    a: Float[np.ndarray, "n n"], v: Float[np.ndarray, "n n"]
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]]:
    """Rotate each pair of axes once, such that its entry off the diagonal becomes 0 at that moment; keep the product.

    Parameters
    ----------
    a : ndarray
        A symmetric matrix. It is not changed.
    v : ndarray
        The product of all rotations so far, the identity at first. It is not changed.

    Returns
    -------
    a, v : ndarray
        The matrix after the rotations, symmetric to the last bit, and `v` times all of them: v a v^T stays what it was.

    Raises
    ------
    ValueError
        If `a` is not a symmetric matrix, or `v` not a square one of its shape, of real, finite numbers.

    Examples
    --------
    >>> a, v = sweep(np.array([[1.0, 2.0], [2.0, 4.0]]), np.eye(2))
    >>> print(np.diagonal(a).round(4))
    [0. 5.]
    >>> print(v.round(4))
    [[ 0.8944  0.4472]
     [-0.4472  0.8944]]
    """
    # given: the checks
    a, v = symmetric_matrix(a, "a"), square_matrix(v, "v")
    if a.shape != v.shape:
        raise ValueError(f"v must have the shape of a, {a.shape}, got {v.shape}")
    raise NotImplementedError("not written yet: sweep")


def in_order(
    values: Float[np.ndarray, " n"], vectors: Float[np.ndarray, "n n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Return eigenvalues in ascending order, and their vectors with the signs of equation (9).

    Parameters
    ----------
    values : ndarray
        Eigenvalues, in any order.
    vectors : ndarray
        The eigenvector of each value, in the columns.

    Returns
    -------
    values, vectors : ndarray
        The values in ascending order, and the vectors in the columns, moved along with them. In each the entry of
        largest absolute value is positive; if several tie, the first of them.

    Raises
    ------
    ValueError
        If `vectors` is not a square matrix with one column for each value, or there are numbers that are not finite.

    Examples
    --------
    >>> values, vectors = in_order(np.array([5.0, 2.0]), np.array([[0.6, -0.8], [0.8, 0.6]]))
    >>> print(values)
    [2. 5.]
    >>> print(vectors)
    [[ 0.8  0.6]
     [-0.6  0.8]]
    """
    # given: the checks
    values, vectors = real_array(values, "values", ndim=1), square_matrix(vectors, "vectors")
    if len(values) != len(vectors):
        raise ValueError(f"vectors must have one column for each of {len(values)} values, got {vectors.shape}")
    raise NotImplementedError("not written yet: in_order")


def jacobi_eigen(a: Float[np.ndarray, "n n"], *, relative: bool = True, max_sweeps: int = 30) -> Eigen:
    """Return eigenvalues and eigenvectors of a symmetric matrix: sweeps until nothing is left off the diagonal.

    No sweep is made if there is nothing to do. With eps the rounding unit of the precision of `a`, the iteration ends
    as soon as the largest cosine (8) is at most eps or, if not `relative`, the norm (1) is at most eps times the
    largest absolute value of any entry.

    Parameters
    ----------
    a : ndarray
        The matrix. If it is positive definite and `relative` holds, small eigenvalues are as accurate as large ones, by
        (11). It is not changed.
    relative : bool
        Whether an entry off the diagonal is judged beside its own two diagonal entries, or beside the largest entry.
    max_sweeps : int
        How many sweeps are allowed. Ten are more than enough for most matrices.

    Returns
    -------
    Eigen
        Eigenvalues, eigenvectors, and the history; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a symmetric matrix of real, finite numbers, or `max_sweeps` is not positive.
    LinAlgError
        If `max_sweeps` did not suffice.

    Examples
    --------
    >>> found = jacobi_eigen(np.array([[1.0, 2.0], [2.0, -2.0]]))
    >>> print(found.values, found.sweeps, found.off.round(4))
    [-3.  2.] 1 [2.8284 0.    ]
    >>> print(found.vectors.round(4))
    [[-0.4472  0.8944]
     [ 0.8944  0.4472]]
    """
    # given: the checks
    a = symmetric_matrix(a, "a")
    if max_sweeps < 1:
        raise ValueError(f"max_sweeps must be positive, got {max_sweeps}")
    raise NotImplementedError("not written yet: jacobi_eigen")
