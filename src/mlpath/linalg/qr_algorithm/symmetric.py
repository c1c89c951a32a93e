r"""The symmetric QR algorithm: a tridiagonal matrix, chased into a diagonal one.

## Idea

Write $T = QR$, multiply the factors in the wrong order, $RQ$, and repeat: the matrix becomes diagonal, as if by magic.
Three ideas turn this curiosity into the method by which nearly everybody computes eigenvalues. Make the matrix
tridiagonal first, so that a step costs $n$ operations and not $n^3$. Subtract a shift before each step, chosen so well
that the last entry off the diagonal falls to the third power. And cut the matrix in two wherever an entry off the
diagonal has become negligible. Then about two steps suffice for each eigenvalue.

## Maths

**To a tridiagonal matrix.** We look for orthogonal $Q$, diagonal entries $d_0, \dots, d_{n-1}$ and $e_0, \dots,
e_{n-2}$ beside them, with

$$A = Q T Q^T, \qquad T = \begin{pmatrix} d_0 & e_0 \\ e_0 & d_1 & e_1 \\ & e_1 & \ddots & \ddots \\ & & \ddots & \ddots
\end{pmatrix}. \tag{1}$$

A reflection $H = I - \beta v v^T$, $\beta = 2 / v^T v$, makes all entries of a vector but the first zero. Let it act on
rows $1, 2, \dots$ so that column 0 is zero below row 1. Applied from the right as well, as it must be to keep the
eigenvalues, it acts on columns $1, 2, \dots$, and the zeros of column 0 stay. (They would not if it acted on row 0 as
well, which is why eigenvalues cannot be had in finitely many steps like this.) Go on with what is left without row and
column 0. What it does to a symmetric $A$ from both sides, multiplied out, has two terms with $A v$ and one with $v^T A
v$. Shared out evenly, these are

$$H A H = A - v w^T - w v^T, \qquad w = p - \tfrac{\beta}{2} (p^T v)\, v, \qquad p = \beta A v, \tag{2}$$

one product of a matrix and a vector, and two outer products.

**A step, and why it works.** With a shift $\mu$,

$$T - \mu I = Q R, \qquad T' = R Q + \mu I = Q^T T Q. \tag{3}$$

$T'$ has the eigenvalues of $T$, and it is tridiagonal again: $Q = (T - \mu I) R^{-1}$ has one entry below the diagonal
in each column, like $T$, so $RQ$ has too, and it is symmetric. Look at the last column $q$ of $Q$. The last row of $R =
Q^T (T - \mu I)$ is $r\, u^T$ where $u$ is the last unit vector, so that

$$(T - \mu I)\, q = r\, u, \tag{4}$$

which says that $q$ is a step of *inverse iteration* from $u$. If $\mu$ is near an eigenvalue, $q$ is nearly its vector,
the last row of $T' = Q^T T Q$ is nearly $\lambda\, u^T$, and the new $d_{n-1} = q^T T q$ is the Rayleigh quotient. Take
it for the next shift, and this is Rayleigh quotient iteration, in new coordinates at each step. Its error falls to the
third power.

**Wilkinson's shift.** From $\begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}$ the shift $d_{n-1}$ gets nowhere. Take an
eigenvalue of the trailing block $\begin{pmatrix} a & b \\ b & c \end{pmatrix}$ instead, that which is nearest to $c$.
The eigenvalues are $c + \delta \pm \sqrt{\delta^2 + b^2}$ with $\delta = (a - c) / 2$. The nearest to $c$ is that with
the sign opposite to $\delta$, a difference of nearly equal numbers if $b$ is small. With the product of the two
distances from $c$, which is $-b^2$,

$$\mu = c - \operatorname{sign}(\delta)\, \frac{b^2}{|\delta| + \sqrt{\delta^2 + b^2}}, \tag{5}$$

where nothing cancels. For $\delta = 0$ both are equally near, and the sign may be either. With this shift convergence
is proved for every matrix [2].

**Without forming $T - \mu I$.** Subtracting a large $\mu$ loses digits of small $d_i$. But $Q$ in (3) is determined, up
to signs, by its first column and by $Q^T T Q$ being tridiagonal with no zero beside the diagonal: its next columns
follow, one by one, from $T Q = Q T'$. The first column is that of $T - \mu I$, scaled to length 1. So begin with a
rotation of axes 0 and 1 by

$$\begin{pmatrix} c & s \\ -s & c \end{pmatrix} \begin{pmatrix} d_0 - \mu \\ e_0 \end{pmatrix}
= \begin{pmatrix} * \\ 0 \end{pmatrix}, \tag{6}$$

apply it to $T$ from both sides, and restore the tridiagonal form by any means that leave axis 0 alone. Where axes
$k$ and $k + 1$ are rotated,

$$\begin{pmatrix} d_k' & e_k' \\ e_k' & d_{k+1}' \end{pmatrix} = \begin{pmatrix} c & s \\ -s & c \end{pmatrix}
\begin{pmatrix} d_k & e_k \\ e_k & d_{k+1} \end{pmatrix} \begin{pmatrix} c & -s \\ s & c \end{pmatrix}, \qquad
\begin{pmatrix} z \\ e_{k+1}' \end{pmatrix} = \begin{pmatrix} s \\ c \end{pmatrix} e_{k+1}. \tag{7}$$

The *bulge* $z$ stands at $(k, k + 2)$, where a tridiagonal matrix has nothing. The next rotation, of axes $k + 1$ and
$k + 2$, is made to remove it:

$$\begin{pmatrix} c & s \\ -s & c \end{pmatrix} \begin{pmatrix} e_k' \\ z \end{pmatrix}
= \begin{pmatrix} r \\ 0 \end{pmatrix}, \tag{8}$$

$r$ becomes the final $e_k$, and a new bulge arises one place further down. After $n - 1$ rotations it is chased out at
the bottom. The eigenvectors turn along: if $A = Z T Z^T$ and $G$ is such a rotation, $A = (Z G^T)(G T G^T)(Z G^T)^T$,
so columns $k$ and $k + 1$ of $Z$ become

$$z_k' = c\, z_k + s\, z_{k+1}, \qquad z_{k+1}' = -s\, z_k + c\, z_{k+1}. \tag{9}$$

**Deflation.** An entry $e_i$ is set to zero if it is not above rounding errors of its two neighbours on the diagonal,

$$|e_i| \le \varepsilon\, (|d_i| + |d_{i+1}|) + \tau, \tag{10}$$

with the rounding unit $\varepsilon$ and the smallest normal number $\tau$, below which numbers lose their digits. Then
$T$ falls into blocks, which know nothing of each other. Work on the last block that has more than one row.

**Accuracy.** Rotations and reflections do not enlarge rounding errors. So the result is that of a matrix which differs
from $A$ by a modest multiple of $n \varepsilon \lVert A \rVert$; with Weyl's theorem,

$$\lVert A V - V \Lambda \rVert \le c\, n \varepsilon \lVert A \rVert, \quad
\lVert V^T V - I \rVert \le c\, n \varepsilon, \quad
|\hat\lambda_i - \lambda_i| \le c\, n \varepsilon \lVert A \rVert. \tag{11}$$

The last says nothing about an eigenvalue smaller than $\varepsilon \lVert A \rVert$: it may have no right digit.

**Order and sign.** Eigenvalues ascend, and of each vector $v$ the sign is settled by

$$v_k > 0 \quad \text{for the first } k \text{ with } |v_k| = \max_i |v_i|. \tag{12}$$

## Worked example

$$A = \begin{pmatrix} 2 & 3 & 4 \\ 3 & 1 & 2 \\ 4 & 2 & 6 \end{pmatrix}, \qquad
v = \begin{pmatrix} 1 \\ 0.5 \end{pmatrix}, \quad \beta = 1.6, \quad
H \begin{pmatrix} 3 \\ 4 \end{pmatrix} = \begin{pmatrix} -5 \\ 0 \end{pmatrix}.$$

For the trailing block, $p = (3.2, 8)$ and $p^T v = 7.2$, so $w = p - 0.8 \cdot 7.2\, v = (-2.56, 5.12)$, and (2) makes

$$T = \begin{pmatrix} 2 & -5 & 0 \\ -5 & 6.12 & -1.84 \\ 0 & -1.84 & 0.88 \end{pmatrix}.$$

The shift: $\delta = (6.12 - 0.88) / 2 = 2.62$, and $\mu = 0.88 - 1.84^2 / (2.62 + 3.2015) = 0.2984$. The first rotation
is made of $2 - \mu = 1.7016$ and $-5$: $c = 0.3222$, $s = -0.9467$. It leaves $d = (8.7423, -0.6223, 0.88)$, $e =
(2.7055, -0.5928)$ and the bulge $(-0.9467)(-1.84) = 1.7419$. The second rotation is made of $2.7055$ and $1.7419$: $c =
0.8408$, $s = 0.5413$, $r = 3.2178$. It turns the last two axes, and there is no new bulge. So $d = (8.7423, -0.7217,
0.9794)$ and $e = (3.2178, 0.4384)$. The last entry goes on as $0.4384,\ 0.0067,\ 2.1 \cdot 10^{-9},\ 8 \cdot 10^{-25}$,
to the third power each time, and $d_2 = 1.04124432$ is right to all of these digits after the third step.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `reflect_both_sides` | a mirror and a symmetric matrix | the matrix, reflected from both sides | (2) |
| `tridiagonalize` | a symmetric matrix | a `Tridiagonal`: two diagonals and the orthogonal matrix | (1) |
| `wilkinson_shift` | the three numbers of a $2 \times 2$ block | its eigenvalue nearest to the last | (5) |
| `qr_step` | two diagonals and a shift | both diagonals after a step, and the rotations | (6) to (8) |
| `rotate_columns` | a matrix and rotations | the matrix, its columns turned | (9) |
| `deflate` | two diagonals | the outer one, with zeros for what is negligible | (10) |
| `active_block` | the outer diagonal | where the last block begins and ends | after (10) |
| `symmetric_eigen` | a symmetric matrix | an `Eigen` | all |

`householder_vector`, `apply_reflector` and `givens_rotation` of linalg/householder_qr are there to be used. NumPy's and
SciPy's own factorisations and eigenvalues are ruled out.

## Pitfalls

- The matrix is tridiagonal, and its eigenvalues are not those of $A$.
- Eigenvalues are right, and the vectors are not.
- It works for random matrices, and never ends for $\begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}$.
- It needs ten steps for each eigenvalue instead of two.
- Entries near $10^{-300}$ come out as zeros, or with eight digits.
- One eigenvalue of a matrix in blocks is spread over several.

## Cost

The reduction takes $\tfrac{4}{3} n^3$ operations and as many for $Q$. A step takes some $30$ on the diagonals for each
rotation, and $6 n$ on the vectors; with two steps for each eigenvalue, on blocks that shrink from $n$ to 1, some $n^2$
rotations and $6 n^3$ operations. Without vectors it is $O(n^2)$, nothing beside the reduction.

Here every rotation is a few lines of Python, which cost more than its arithmetic until $n$ is in the thousands.
LAPACK's solver behind `numpy.linalg.eigh` gathers reflections into products of blocks, and divides and conquers instead
of chasing. Measured on one thread, for $n$ from 10 to 150: 110 to 150 times its time. Jacobi's method takes some 350
times.

## Go further

An experiment: count the steps with the shift $\mu = d_{n-1}$, with Wilkinson's, and with none, and draw $|e_{n-2}|$ by
step on a logarithmic scale. A stretch goal: write `eigenvalues_only`, with no vectors, and replace $c$ and $s$ by $c^2$
and $s^2$ throughout: that is the square-root-free method of Pal, Walker and Kahan.

What is not here: choosing the direction of the chase by which end of the matrix is larger (LAPACK does, for graded
matrices), and accuracy relative to small eigenvalues, for which there is linalg/jacobi_eigen.

## References

1. Francis (1961), The QR transformation, https://doi.org/10.1093/comjnl/4.3.265
2. Wilkinson (1968), Global convergence of tridiagonal QR algorithm with origin shifts,
   https://doi.org/10.1016/0024-3795(68)90017-7
3. Parlett (1998), The symmetric eigenvalue problem, chapter 8, https://doi.org/10.1137/1.9781611971163
4. Golub & Van Loan (2013), Matrix computations, section 8.3
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix
from mlpath.linalg.householder_qr import apply_reflector, givens_rotation, householder_vector


@dataclass(frozen=True)
class Tridiagonal:
    """A factorisation A = Q T Q' with a symmetric tridiagonal T, equation (1).

    Attributes
    ----------
    d : ndarray of shape (n,)
        The diagonal of T.
    e : ndarray of shape (n - 1,)
        What is beside it, on either side.
    q : ndarray of shape (n, n)
        The orthogonal matrix.
    """

    d: Float[np.ndarray, " n"]
    e: Float[np.ndarray, " n-1"]
    q: Float[np.ndarray, "n n"]


@dataclass(frozen=True)
class Eigen:
    """What `symmetric_eigen` found, and how it went: `a @ vectors` is `vectors * values` up to rounding.

    Attributes
    ----------
    values : ndarray of shape (n,)
        The eigenvalues, ascending.
    vectors : ndarray of shape (n, n)
        The eigenvectors, of length 1 and at right angles to each other, in the columns; signs as in (12).
    steps : int
        How many QR steps it took, over all blocks.
    """

    values: Float[np.ndarray, " n"]
    vectors: Float[np.ndarray, "n n"]
    steps: int


def _tridiagonal(d: np.ndarray, e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return both diagonals as arrays of floats of one precision, or raise a ValueError."""
    d, e = real_array(d, "d", ndim=1), np.asarray(e)
    if e.shape != (len(d) - 1,):
        raise ValueError(f"e must be a vector with one entry less than d, got the shapes {e.shape} and {d.shape}")
    e = real_array(e, "e", ndim=1) if e.size else e
    kind = np.result_type(d, e) if e.size else d.dtype
    return d.astype(kind, copy=False), e.astype(kind, copy=False)


def _in_order(values: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: the end of the story
    """Return eigenvalues in ascending order, and their vectors with the signs of (12)."""
    order = np.argsort(values)
    values, vectors = values[order], vectors[:, order]
    deciding = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))]
    return values, np.where(deciding < 0, -vectors, vectors)


def reflect_both_sides(
    v: Float[np.ndarray, " n"], beta: float, a: Float[np.ndarray, "n n"]
) -> Float[np.ndarray, "n n"]:
    r"""Return a symmetric matrix after a reflection from the left and from the right, equation (2).

    It takes some $4 n^2$ operations, since neither the mirror's matrix nor a product of two matrices is formed.

    Parameters
    ----------
    v : ndarray
        The direction across the mirror, of any length: `v[0]` need not be 1.
    beta : float
        The number that belongs to it: 2 divided by the squared length of `v`, or 0 for no reflection.
    a : ndarray
        A symmetric matrix, which is not checked, since rounding may have spoiled small entries. It is not changed.

    Returns
    -------
    ndarray
        $H A H$ with $H = I - \beta v v^\top$; float32 if `v` and `a` are.

    Raises
    ------
    ValueError
        If `a` is not a square matrix or `v` not a vector of its size, of real, finite numbers.

    Examples
    --------
    >>> reflect_both_sides(np.array([2.0, 1.0]), 0.4, np.array([[5.0, 2.0], [2.0, 1.0]])).round(4)
    array([[4.36, 2.48],
           [2.48, 1.64]])
    """
    # given: the checks
    v, a = real_array(v, "v", ndim=1), square_matrix(a, "a")
    if len(v) != len(a):
        raise ValueError(f"v must have as many entries as a has rows, {len(a)}, got {len(v)}")
    # yours
    p = beta * (a @ v)
    w = p - beta / 2 * (p @ v) * v
    vw = np.outer(v, w)
    return a - (vw + vw.T)


def tridiagonalize(a: Float[np.ndarray, "n n"]) -> Tridiagonal:
    """Make a symmetric matrix tridiagonal by reflections, equation (1).

    Parameters
    ----------
    a : ndarray
        The matrix. It is not changed.

    Returns
    -------
    Tridiagonal
        Both diagonals and the orthogonal matrix; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a symmetric matrix of real, finite numbers.

    Examples
    --------
    >>> found = tridiagonalize(np.array([[1.0, 3.0, 4.0], [3.0, 2.0, 0.0], [4.0, 0.0, 7.0]]))
    >>> print(found.d.round(4), np.abs(found.e).round(4))
    [1.  5.2 3.8] [5.  2.4]
    """
    # given: the check
    a = symmetric_matrix(a, "a")
    # yours
    t, q = a.copy(), np.eye(len(a), dtype=a.dtype)
    e = np.empty(len(a) - 1, a.dtype)
    for k in range(len(a) - 1):
        v, beta, e[k] = householder_vector(t[k + 1 :, k])
        t[k + 1 :, k + 1 :] = reflect_both_sides(v, beta, t[k + 1 :, k + 1 :])
        q[:, k + 1 :] = apply_reflector(v, beta, q[:, k + 1 :].T).T
    return Tridiagonal(np.diagonal(t).copy(), e, q)


def wilkinson_shift(a: float, b: float, c: float) -> float:
    """Return the eigenvalue of the symmetric block [[a, b], [b, c]] that is nearest to `c`, equation (5).

    All digits of its distance from `c` are right as long as `c` leaves room for them, from 1e-300 to 1e300.

    Parameters
    ----------
    a : float
        The first entry on the diagonal of the block.
    b : float
        What is beside the diagonal; if it is 0, `c` is an eigenvalue.
    c : float
        The last entry on the diagonal.

    Returns
    -------
    float
        The shift. If `a` equals `c` both eigenvalues are equally near, and it may be either.

    Raises
    ------
    ValueError
        If one of the numbers is not finite.

    Examples
    --------
    >>> wilkinson_shift(8.0, 2.0, 5.0)
    4.0
    """
    # given: the check
    if not all(math.isfinite(x) for x in (a, b, c)):
        raise ValueError(f"a, b and c must be finite, got {a}, {b} and {c}")
    # yours
    if b == 0:
        return float(c)
    delta = (float(a) - float(c)) / 2
    return float(c) - math.copysign(float(b) / (abs(delta) + math.hypot(delta, b)) * float(b), delta)


def qr_step(
    d: Float[np.ndarray, " n"], e: Float[np.ndarray, " n-1"], shift: float
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n-1"], Float[np.ndarray, " n-1"], Float[np.ndarray, " n-1"]]:
    """Make one QR step on a tridiagonal matrix by chasing the bulge, equations (6) to (8).

    Parameters
    ----------
    d : ndarray
        The diagonal.
    e : ndarray
        What is beside it, none of it zero. Neither is changed.
    shift : float
        What (3) subtracts from the diagonal.

    Returns
    -------
    d, e : ndarray
        Both diagonals of the matrix after the step: those of (3), but perhaps for signs in `e`.
    c, s : ndarray
        Cosines and sines of the rotations: the k-th turns axes k and k + 1. All are float32 if `d` and `e` are.

    Raises
    ------
    ValueError
        If `d` is not a vector of real, finite numbers, or `e` not one with an entry less.

    Examples
    --------
    >>> d, e, c, s = qr_step(np.array([8.0, 5.0]), np.array([2.0]), 4.0)
    >>> print(d.round(4), np.abs(e).round(4), np.abs(c).round(4), np.abs(s).round(4))
    [9. 4.] [0.] [0.8944] [0.4472]
    """
    # given: the check
    d, e = _tridiagonal(d, e)
    # yours
    kind, d, e, rotations = d.dtype, d.tolist(), e.tolist(), []  # Python's numbers: three times as fast, one by one
    bulge = 0.0
    for k in range(len(e)):
        x, z = (e[k - 1], bulge) if k > 0 else (d[0] - shift, e[0])
        c, s, r = givens_rotation(x, z)
        if k > 0:
            e[k - 1] = r
        gap = d[k + 1] - d[k]
        moved = s * (s * gap + 2 * c * e[k])
        d[k], e[k], d[k + 1] = d[k] + moved, c * s * gap + (c * c - s * s) * e[k], d[k + 1] - moved
        if k + 1 < len(e):
            bulge, e[k + 1] = s * e[k + 1], c * e[k + 1]
        rotations.append((c, s))
    c, s = np.array(rotations, kind).reshape(-1, 2).T
    return np.array(d, kind), np.array(e, kind), c, s


def rotate_columns(
    z: Float[np.ndarray, "n_rows n"], c: Float[np.ndarray, " n-1"], s: Float[np.ndarray, " n-1"]
) -> Float[np.ndarray, "n_rows n"]:
    """Turn neighbouring columns of a matrix, first the pair 0 and 1, then 1 and 2, and so on, equation (9).

    Parameters
    ----------
    z : ndarray
        The matrix. It is not changed.
    c, s : ndarray
        Cosine and sine for each pair, as `qr_step` returns them.

    Returns
    -------
    ndarray
        The matrix with its columns turned; float32 if all arguments are.

    Raises
    ------
    ValueError
        If `z` is not a matrix of real, finite numbers, or `c` and `s` have not one entry less than it has columns.

    Examples
    --------
    >>> rotate_columns(np.array([[5.0, 0.0, 1.0]]), np.array([0.8, 0.6]), np.array([0.6, -0.8])).round(4)
    array([[ 4. , -2.6, -1.8]])
    """
    # given: the checks
    z = real_array(z, "z", ndim=2)
    if not np.shape(c) == np.shape(s) == (z.shape[1] - 1,):
        raise ValueError(
            f"c and s must have an entry less than z has columns, got {np.shape(c)}, {np.shape(s)}, {z.shape}"
        )
    # yours
    columns = z.T.copy()  # whose rows lie together in memory
    for k, (cosine, sine) in enumerate(zip(c, s)):
        left, right = columns[k], columns[k + 1]
        columns[k], columns[k + 1] = cosine * left + sine * right, cosine * right - sine * left
    return columns.T


def deflate(d: Float[np.ndarray, " n"], e: Float[np.ndarray, " n-1"]) -> Float[np.ndarray, " n-1"]:
    """Return what is beside the diagonal of a tridiagonal matrix, with zeros for what is negligible by (10).

    Parameters
    ----------
    d : ndarray
        The diagonal.
    e : ndarray
        What is beside it. It is not changed.

    Returns
    -------
    ndarray
        A copy of `e` with zeros where (10) holds, for the rounding unit of its precision.

    Raises
    ------
    ValueError
        If `d` is not a vector of real, finite numbers, or `e` not one with an entry less.

    Examples
    --------
    >>> deflate(np.array([3.0, -2.0, 1e-20]), np.array([1e-16, 1e-15]))
    array([0.e+00, 1.e-15])
    """
    # given: the check
    d, e = _tridiagonal(d, e)
    # yours
    numbers = np.finfo(d.dtype)
    negligible = numbers.eps * (np.abs(d[:-1]) + np.abs(d[1:])) + numbers.tiny
    return np.where(np.abs(e) <= negligible, 0, e).astype(d.dtype)


def active_block(e: Float[np.ndarray, " n_beside"]) -> tuple[int, int]:
    """Return where the last block of more than one row begins and ends in a tridiagonal matrix with zeros in `e`.

    Parameters
    ----------
    e : ndarray
        What is beside the diagonal, exact zeros between blocks; empty for a matrix of one row.

    Returns
    -------
    start, stop : int
        The block has the rows `start` to `stop` - 1, as in `d[start:stop]` and `e[start : stop - 1]`. Both are 0 if the
        whole matrix is diagonal.

    Raises
    ------
    ValueError
        If `e` is not a vector.

    Examples
    --------
    >>> active_block(np.array([0.7, 0.0, 0.4, -0.2, 0.0]))
    (2, 5)
    """
    # given: the check
    if np.ndim(e) != 1:
        raise ValueError(f"e must be a vector, got the shape {np.shape(e)}")
    # yours
    stop = len(e)
    while stop > 0 and e[stop - 1] == 0:
        stop -= 1
    start = stop
    while start > 0 and e[start - 1] != 0:
        start -= 1
    return (start, stop + 1) if stop else (0, 0)


def symmetric_eigen(a: Float[np.ndarray, "n n"], *, max_steps: int | None = None) -> Eigen:
    """Return eigenvalues and eigenvectors of a symmetric matrix by the QR algorithm, as accurate as (11) says.

    The matrix is divided by its largest absolute value first, and the eigenvalues are multiplied by it in the end, so
    that units do not matter, from 1e-300 to 1e300.

    Parameters
    ----------
    a : ndarray
        The matrix. It is not changed.
    max_steps : int, optional
        How many QR steps are allowed in all; 30 n if not given. Two for each eigenvalue are usual.

    Returns
    -------
    Eigen
        Eigenvalues, eigenvectors, and the number of steps, which is 0 for a diagonal matrix; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a symmetric matrix of real, finite numbers, or `max_steps` is negative.
    LinAlgError
        If `max_steps` did not suffice.

    Examples
    --------
    >>> found = symmetric_eigen(np.array([[1.0, 2.0], [2.0, -2.0]]))
    >>> print(found.values.round(4), found.steps)
    [-3.  2.] 1
    >>> print(found.vectors.round(4))
    [[-0.4472  0.8944]
     [ 0.8944  0.4472]]
    """
    # given: the checks
    a = symmetric_matrix(a, "a")
    max_steps = 30 * len(a) if max_steps is None else max_steps
    if max_steps < 0:
        raise ValueError(f"max_steps must not be negative, got {max_steps}")
    # yours
    scale, steps = np.abs(a).max() or a.dtype.type(1), 0
    found = tridiagonalize(a / scale)
    d, q, e = found.d, found.q, deflate(found.d, found.e)
    while any(block := active_block(e)):
        if steps == max_steps:
            raise np.linalg.LinAlgError(f"{max_steps} QR steps did not suffice")
        rows, beside = slice(*block), slice(block[0], block[1] - 1)
        shift = wilkinson_shift(d[rows][-2], e[beside][-1], d[rows][-1])
        d[rows], e[beside], c, s = qr_step(d[rows], e[beside], shift)
        q[:, rows] = rotate_columns(q[:, rows], c, s)
        e, steps = deflate(d, e), steps + 1
    values, vectors = _in_order(scale * d, q)
    return Eigen(values, vectors, steps)
