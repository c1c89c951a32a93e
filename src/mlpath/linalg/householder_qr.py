r"""QR by reflections and rotations: make a matrix triangular without losing a digit.

## Idea

Every matrix is $A = QR$: orthonormal columns $Q$ times a triangle $R$. Gram-Schmidt finds $Q$ by subtracting from each
column what it shares with those before it; if two columns nearly agree, little is left but rounding errors, and $Q$ is
no longer orthogonal. Householder turned it round: multiply $A$ by *orthogonal* matrices until it is triangular. Each of
them is a mirror, and a mirror changes no length and magnifies no error. $Q$ need not even be written down: the list of
mirrors is as good, and smaller. Where few entries have to go, rotations in two coordinates, Givens' way, are the finer
tool.

## Maths

**A mirror.** For a vector $v \neq 0$ let

$$H = I - \beta\, v v^\top, \qquad \beta = \frac{2}{v^\top v}. \tag{1}$$

$H$ turns $v$ into $-v$ and leaves alone all that is orthogonal to $v$: it reflects. So $H = H^\top = H^{-1}$, and
lengths stay. Given $x$, which $v$ makes $Hx$ a multiple of the first unit vector $e_1$? As the length stays, it can
only be

$$H x = \alpha e_1, \qquad \alpha = \pm \lVert x \rVert_2, \tag{2}$$

and (1) says that $x - Hx$ is a multiple of $v$, hence $v$ is one of $x - \alpha e_1$. Conversely, for
$v = x - \alpha e_1$ we have $v^\top v = 2 \alpha^2 - 2 \alpha x_1 = 2\, v^\top x$, so that $\beta\, v^\top x = 1$ and
$Hx = x - v = \alpha e_1$ indeed.

**Which sign?** $v$ differs from $x$ in its first entry only, $v_1 = x_1 - \alpha$. If $x$ nearly points along $e_1$ and
$\alpha$ has the sign of $x_1$, that difference cancels: from $x = (1, 10^{-7})$, whose length is
$1 + 5 \cdot 10^{-15}$, it keeps one digit or two, and the mirror stands askew. With

$$\alpha = -\operatorname{sign}(x_1) \lVert x \rVert_2, \qquad \operatorname{sign}(0) = 1, \tag{3}$$

both terms have the same sign, and nothing cancels. (The other sign serves as well, if one writes
$x_1 - \lVert x \rVert = -(x_2^2 + \dots + x_n^2) / (x_1 + \lVert x \rVert)$ for $x_1 > 0$.) The length of $v$ is free.
We take

$$v \leftarrow v / v_1, \qquad \text{so that } v_1 = 1, \tag{4}$$

which need not be stored, and with which (1) still gives $\beta$. If $x_2, \dots, x_n$ are all zero there is nothing to
reflect: $\beta = 0$ makes $H = I$, with $\alpha = x_1$. The squares in $\lVert x \rVert$ overflow or vanish long before
the entries do; as $\lVert x \rVert = m\, \lVert x / m \rVert$ for every $m > 0$, and $x$ and $x / m$ have the same
mirror, neither has to happen.

**Many columns.** To reflect $A$ one never forms the $m \times m$ matrix $H$. By (1),

$$H A = A - (\beta v)\, (v^\top A), \tag{5}$$

a row vector, an outer product and a difference: $4mn$ operations in place of $2m^2 n$.

**The factorisation.** $H_1$ makes the first column of $A$ a multiple of $e_1$. Leave the first row and column alone,
and let $H_2$ do the same for the rest; and so on, $p = \min(m, n)$ times. The vector $v_k$ of mirror $k$ thus has zeros
before its entry $k$, a 1 there, and

$$H_p \cdots H_2 H_1 A = \begin{pmatrix} R \\ 0 \end{pmatrix}, \qquad\text{that is,}\qquad
  A = Q \begin{pmatrix} R \\ 0 \end{pmatrix}, \quad Q = H_1 H_2 \cdots H_p. \tag{6}$$

For $m < n$ there are no zeros below, and $R$ is a trapezoid, $m \times n$. To use $Q$ or its transpose, apply mirrors.
Each is its own transpose, so only the order differs:

$$Q^\top B = H_p \cdots H_2 H_1 B, \qquad Q B = H_1 H_2 \cdots H_p B. \tag{7}$$

**Economy.** Only the first $p$ columns of $Q$ meet $R$ in (6); the others meet zeros. With $I_{m, p}$ for the first $p$
columns of the identity,

$$Q_p = Q I_{m, p}, \qquad A = Q_p R \quad \text{with } Q_p \text{ of } m \times p \text{ and } R \text{ of } p \times n. \tag{8}$$

If $A$ has full column rank, $R$ is unique up to the signs of its rows, and $Q_p$ up to those of its columns: two right
programs may differ in these.

**What is accurate.** Rounding errors of size $u$ enter each reflection, and later ones only turn them about. Whatever
the condition of $A$, each column $a_j$ comes out with

$$\lVert a_j - (QR)_j \rVert_2 \le c\, u\, \lVert a_j \rVert_2, \qquad \lVert Q^\top Q - I \rVert \le c\, u, \tag{9}$$

where $c$ grows modestly with $m$ and $n$ [2, chapter 19]. Gram-Schmidt has the first, and not the second.

**A rotation.** Two numbers $a, b$ turn into one by

$$G = \begin{pmatrix} c & s \\ -s & c \end{pmatrix}, \quad G \begin{pmatrix} a \\ b \end{pmatrix} = \begin{pmatrix} r \\ 0 \end{pmatrix},
  \qquad r = \sqrt{a^2 + b^2},\ c = a / r,\ s = b / r, \tag{10}$$

or with $c = 1, s = 0$ for two zeros. Applied to two rows of $A$ it puts a zero into one of them. In each column in
turn, go up from the last row and turn each pair of neighbours $(i - 1, i)$, so that the entry in row $i$ vanishes; both
rows have only zeros in earlier columns, so no zero is lost. With the rotations $G_1, \dots, G_t$, each an identity but
for two rows and columns,

$$G_t \cdots G_1 A = R, \qquad Q = G_1^\top \cdots G_t^\top. \tag{11}$$

An entry that is zero already takes no rotation. A full matrix of $m \ge n$ takes one for each entry below the diagonal.
An upper *Hessenberg* matrix, zero below the first subdiagonal, takes $n - 1$: this is why eigenvalue algorithms keep
matrices in that form.

## Worked example

$A = \begin{pmatrix} 2 & -3 \\ 3 & 4 \\ 6 & 6 \end{pmatrix}$. The first column has length 7, so (3) says $\alpha = -7$
and $x - \alpha e_1 = (9, 3, 6)$; by (4) and (1), $v_1 = (1, \tfrac13, \tfrac23)$ and
$\beta_1 = 2 / \tfrac{14}{9} = 1.2857$. On the second column, $v_1^\top a_2 = \tfrac{7}{3}$, times $\beta_1$ is 3, and
(5) leaves $(-3, 4, 6) - 3\, v_1 = (-6, 3, 4)$. The rest, $(3, 4)$, has length 5: $\alpha = -5$,
$x - \alpha e_1 = (8, 4)$, $v_2 = (0, 1, \tfrac12)$, $\beta_2 = 2 / 1.25 = 1.6$. Hence
$R = \begin{pmatrix} -7 & -6 \\ 0 & -5 \end{pmatrix}$.

For $b = (7, 0, 0)$, $H_1 b = (7, 0, 0) - 9\, v_1 = (-2, -3, -6)$ and $v_2^\top H_1 b = -6$, so by (7)
$Q^\top b = H_2 H_1 b = (-2, -3, -6) + 9.6\, v_2 = (-2, 6.6, -1.2)$, which still has length 7.

The rotation (10) of $(6, 2.5)$ has $r = 6.5$, $c = 0.9231$, $s = 0.3846$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `householder_vector` | a vector | $v$, $\beta$ and $\alpha$ of a mirror that sends it to the first axis | (1) to (4) |
| `apply_reflector` | $v$, $\beta$, a matrix | the reflected matrix | (5) |
| `householder_qr` | a matrix, tall or wide | a `HouseholderQR`: the mirrors, and $R$ | (6) |
| `apply_q_transpose` | the mirrors, a matrix | $Q^\top$ times it | (7) |
| `apply_q` | the mirrors, a matrix | $Q$ times it | (7) |
| `form_qr` | the mirrors and $R$, a mode | $Q$ and $R$ as arrays, economy or full | (8), (6) |
| `givens_rotation` | two numbers | $c$, $s$ and $r$ | (10) |
| `givens_qr` | a matrix | a `GivensQR`: $Q$, $R$ and the number of rotations | (11) |

Either sign of $\alpha$ and of $r$ is right, as long as it costs no digits. `numpy.linalg.qr` and SciPy are ruled out,
as they are all this in one call.

## Pitfalls

- $QR = A$ holds, but for columns that nearly point along an axis only to eight digits.
- `nan` for a column of zeros, or for a triangular matrix.
- All is well for everyday numbers, and `inf` or zeros come out near $10^{200}$ or $10^{-200}$.
- Memory runs out for a matrix of a million rows and two columns.
- $Q^\top Q = I$ and $R$ is a triangle, yet $QR$ is another matrix.
- Square matrices work; wide ones raise an `IndexError`, or tall ones leave the last column as it was.

## Cost

Householder takes $2 n^2 (m - n/3)$ operations for $R$, as much again for the economy $Q$, and $4 m n - 2 n^2$ for $Q$
or its transpose times a vector, if mirror $k$ touches only the rows from $k$ on (and, where $Q$ is formed, only the
columns from $k$ on); ours applies whole mirrors, which is shorter to read. Givens takes half as many again, and in
Python pays for each of $mn$ small steps. Here each mirror is applied as soon as it is known, so that the whole
remaining matrix goes through memory once for every column (BLAS-2). LAPACK, behind SciPy, gathers some 32 mirrors into
one matrix product (BLAS-3), which the cache loves: measured on one thread, $R$ alone takes 5 to 10 times as long here,
and with the economy $Q$ 9 to 17 times; Givens, for $60 \times 40$, takes 90 times as long as SciPy.

## Go further

An experiment: take the $n \times n$ Hilbert matrices for $n$ from 2 to 14, and compare $\lVert Q^\top Q - I \rVert$ of
your QR with that of classical Gram-Schmidt, of modified Gram-Schmidt, and of Gram-Schmidt done twice. A stretch goal:
gather mirrors. $H_1 \cdots H_p = I - V T V^\top$ for a small triangular $T$ [3]; derive a recursion for $T$ and apply
$Q$ in three matrix products.

What is not here: column pivoting, which reveals the rank; and the packing of $v_k$ below the diagonal of $R$, as LAPACK
has it.

## References

1. Householder (1958), Unitary triangularization of a nonsymmetric matrix, https://doi.org/10.1145/320941.320947
2. Higham (2002), Accuracy and stability of numerical algorithms, chapter 19, https://doi.org/10.1137/1.9780898718027
3. Schreiber & Van Loan (1989), A storage-efficient WY representation for products of Householder transformations,
   https://doi.org/10.1137/0910005
4. Givens (1958), Computation of plane unitary rotations transforming a general matrix to triangular form,
   https://doi.org/10.1137/0106004
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class HouseholderQR:
    r"""A factorisation $A = QR$, with $Q$ kept as mirrors, equation (6).

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_reflectors)
        Column $k$ is $v_k$: zeros above the diagonal, ones on it. There are min(n_rows, n_cols) of them.
    betas : ndarray of shape (n_reflectors,)
        The $\beta_k$ that belong to them, so that $H_k = I - \beta_k v_k v_k^\top$.
    r : ndarray of shape (n_reflectors, n_cols)
        $R$, with exact zeros below the diagonal.
    """

    vectors: Float[np.ndarray, "n_rows n_reflectors"]
    betas: Float[np.ndarray, " n_reflectors"]
    r: Float[np.ndarray, "n_reflectors n_cols"]


@dataclass(frozen=True)
class GivensQR:
    """A full factorisation A = QR by rotations, equation (11).

    Attributes
    ----------
    q : ndarray of shape (n_rows, n_rows)
        The orthogonal factor.
    r : ndarray of shape (n_rows, n_cols)
        The triangle, with exact zeros below the diagonal.
    n_rotations : int
        How many rotations it took.
    """

    q: Float[np.ndarray, "n_rows n_rows"]
    r: Float[np.ndarray, "n_rows n_cols"]
    n_rotations: int


def _matrix_with_rows(values: np.ndarray, name: str, n_rows: int) -> np.ndarray:  # given: argument checks
    """Return `values` as a matrix of floats with so many rows, or raise a ValueError."""
    array = real_array(values, name, ndim=2)
    if len(array) != n_rows:
        raise ValueError(f"{name} must have {n_rows} rows, got the shape {array.shape}")
    return array


def householder_vector(x: Float[np.ndarray, " n"]) -> tuple[Float[np.ndarray, " n"], float, float]:
    r"""Return the mirror that sends a vector to a multiple of the first unit vector, equations (1) to (4).

    No digit is lost by cancellation, nor by squares that overflow or vanish.

    Parameters
    ----------
    x : ndarray
        The vector.

    Returns
    -------
    v : ndarray
        The direction across the mirror, scaled such that `v[0]` is 1. If `beta` is 0 its other entries do not matter.
    beta : float
        $\beta = 2 / v^\top v$, so that $H = I - \beta v v^\top$; or 0, for $H = I$, where $x$ is a multiple of $e_1$ or
        zero.
    alpha : float
        The first entry of $Hx$, the others being zero: $\lVert x \rVert_2$ or its negative.

    Raises
    ------
    ValueError
        If `x` is not a vector of at least one real, finite number.

    Examples
    --------
    >>> v, beta, alpha = householder_vector(np.array([2.0, 3.0, 6.0]))
    >>> print(v.round(4), round(beta, 4), alpha)
    [1.     0.3333 0.6667] 1.2857 -7.0
    """
    # given: the check
    x = real_array(x, "x", ndim=1)
    # yours
    if not x[1:].any():
        v = np.zeros_like(x)
        v[0] = 1
        return v, 0.0, float(x[0])
    largest = np.abs(x).max()
    v = x / largest
    alpha = -math.copysign(math.sqrt(v @ v), v[0])
    v[0] -= alpha
    v /= v[0]
    return v, float(2 / (v @ v)), float(alpha * largest)


def apply_reflector(
    v: Float[np.ndarray, " n_rows"], beta: float, a: Float[np.ndarray, "n_rows n_cols"]
) -> Float[np.ndarray, "n_rows n_cols"]:
    r"""Reflect every column of a matrix, equation (5), without forming the mirror's matrix.

    Parameters
    ----------
    v : ndarray
        The direction across the mirror, of any length: `v[0]` need not be 1.
    beta : float
        The number that belongs to it.
    a : ndarray
        The matrix, with as many rows as `v` has entries.

    Returns
    -------
    ndarray
        $(I - \beta v v^\top) A$, in memory of the order of `a` itself.

    Raises
    ------
    ValueError
        If `v` is no vector or `a` no matrix of real, finite numbers, or their rows do not match.

    Examples
    --------
    >>> print(apply_reflector(np.array([1.0, 1.0]), 1.0, np.array([[5.0, 2.0, 0.0], [1.0, 0.0, 3.0]])))
    [[-1.  0. -3.]
     [-5. -2.  0.]]
    """
    # given: the checks
    v = real_array(v, "v", ndim=1)
    a = _matrix_with_rows(a, "a", len(v))
    # yours
    return a - np.outer(beta * v, v @ a)


def householder_qr(a: Float[np.ndarray, "n_rows n_cols"]) -> HouseholderQR:
    """Make a matrix triangular by reflections, equation (6).

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide, of any rank.

    Returns
    -------
    HouseholderQR
        The mirrors, and R, as accurate as (9) says; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number.

    Examples
    --------
    >>> factors = householder_qr(np.array([[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]]))
    >>> print(np.abs(factors.r).round(4))
    [[7. 6.]
     [0. 5.]]
    """
    # given: the check
    a = real_array(a, "a", ndim=2)
    # yours
    r, n_reflectors = a.copy(), min(a.shape)
    vectors, betas = np.zeros((len(a), n_reflectors), a.dtype), np.empty(n_reflectors, a.dtype)
    for k in range(n_reflectors):
        v, beta, alpha = householder_vector(r[k:, k])
        r[k:, k:] -= np.outer(beta * v, v @ r[k:, k:])  # (5) in place: half the time of apply_reflector
        r[k, k], r[k + 1 :, k] = alpha, 0  # what (2) says, rather than what rounding left of it
        vectors[k:, k], betas[k] = v, beta
    return HouseholderQR(vectors, betas, r[:n_reflectors])


def apply_q_transpose(
    factors: HouseholderQR, b: Float[np.ndarray, "n_rows n_rhs"]
) -> Float[np.ndarray, "n_rows n_rhs"]:
    r"""Return $Q^\top B$ by applying the mirrors to B, equation (7); Q itself is never formed.

    Parameters
    ----------
    factors : HouseholderQR
        The factorisation, of `n_rows` rows.
    b : ndarray
        Any number of right-hand sides, one a column.

    Returns
    -------
    ndarray
        $Q^\top B$ for the full, square Q; float32 if the factorisation and `b` both are.

    Raises
    ------
    ValueError
        If `b` is not a matrix of `n_rows` rows and at least one column, all real and finite.

    Examples
    --------
    >>> factors = HouseholderQR(np.array([[1.0], [0.5]]), np.array([1.6]), np.array([[-5.0]]))
    >>> print(apply_q_transpose(factors, np.array([[3.0, 5.0], [4.0, 0.0]])).round(4))
    [[-5. -3.]
     [ 0. -4.]]
    """
    # given: the check
    b = _matrix_with_rows(b, "b", len(factors.vectors))
    # yours
    for v, beta in zip(factors.vectors.T, factors.betas):
        b = apply_reflector(v, beta, b)
    return b


def apply_q(factors: HouseholderQR, b: Float[np.ndarray, "n_rows n_rhs"]) -> Float[np.ndarray, "n_rows n_rhs"]:
    r"""Return $Q B$ by applying the mirrors to B, equation (7); Q itself is never formed.

    Parameters
    ----------
    factors : HouseholderQR
        The factorisation, of `n_rows` rows.
    b : ndarray
        Any number of right-hand sides, one a column.

    Returns
    -------
    ndarray
        $Q B$ for the full, square Q; float32 if the factorisation and `b` both are.

    Raises
    ------
    ValueError
        If `b` is not a matrix of `n_rows` rows and at least one column, all real and finite.

    Examples
    --------
    >>> factors = householder_qr(np.array([[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]]))
    >>> b = np.array([[1.0], [2.0], [3.0]])
    >>> print(apply_q(factors, apply_q_transpose(factors, b)).round(4).T)
    [[1. 2. 3.]]
    """
    # given: the check
    b = _matrix_with_rows(b, "b", len(factors.vectors))
    # yours
    for k in reversed(range(len(factors.betas))):
        b = apply_reflector(factors.vectors[:, k], factors.betas[k], b)
    return b


def form_qr(
    factors: HouseholderQR, mode: Literal["economy", "full"] = "economy"
) -> tuple[Float[np.ndarray, "n_rows n_inner"], Float[np.ndarray, "n_inner n_cols"]]:
    """Return Q and R as arrays whose product is the matrix that was factorised, equations (8) and (6).

    Parameters
    ----------
    factors : HouseholderQR
        The factorisation.
    mode : {"economy", "full"}
        Whether the inner dimension is min(n_rows, n_cols) or `n_rows`.

    Returns
    -------
    q : ndarray
        Orthonormal columns: the first min(n_rows, n_cols) of Q, in memory of that order, or all of the square Q.
    r : ndarray
        The triangle; in the full form of a tall matrix with rows of zeros below.

    Raises
    ------
    ValueError
        If `mode` is neither of the two.

    Examples
    --------
    >>> factors = householder_qr(np.array([[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]]))
    >>> q, r = form_qr(factors)
    >>> print((q @ r).round(4).tolist(), q.shape, r.shape)
    [[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]] (3, 2) (2, 2)
    >>> q, r = form_qr(factors, mode="full")
    >>> print((q @ r).round(4).tolist(), q.shape, r.shape)
    [[2.0, -3.0], [3.0, 4.0], [6.0, 6.0]] (3, 3) (3, 2)
    """
    # given: the check
    if mode not in ("economy", "full"):
        raise ValueError(f"mode must be 'economy' or 'full', got {mode!r}")
    # yours
    n_rows, n_inner = factors.vectors.shape
    r = factors.r
    if mode == "full":
        r = np.vstack([r, np.zeros((n_rows - n_inner, r.shape[1]), r.dtype)])
        n_inner = n_rows
    return apply_q(factors, np.eye(n_rows, n_inner, dtype=r.dtype)), r


def givens_rotation(a: float, b: float) -> tuple[float, float, float]:
    r"""Return the rotation that turns two numbers into one and a zero, equation (10).

    Parameters
    ----------
    a, b : float
        The numbers; both may be zero. Squares that overflow or vanish do no harm.

    Returns
    -------
    c, s : float
        Cosine and sine: $c a + s b = r$ and $-s a + c b = 0$. For two zeros 1 and 0.
    r : float
        The length of $(a, b)$, or its negative with $c$ and $s$ negated as well.

    Raises
    ------
    ValueError
        If `a` or `b` is not finite.

    Examples
    --------
    >>> c, s, r = givens_rotation(6.0, 2.5)
    >>> print(round(c, 4), round(s, 4), r)
    0.9231 0.3846 6.5
    """
    # given: the check
    if not (math.isfinite(a) and math.isfinite(b)):
        raise ValueError(f"a and b must be finite, got {a} and {b}")
    # yours
    r = math.hypot(a, b)
    if r == 0:
        return 1.0, 0.0, 0.0
    return a / r, b / r, r


def givens_qr(a: Float[np.ndarray, "n_rows n_cols"]) -> GivensQR:
    """Make a matrix triangular by rotations, equation (11), with none for an entry that is already zero.

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide, of any rank.

    Returns
    -------
    GivensQR
        Q and R in full form, in float32 if `a` is, and the number of rotations: n - 1 for an upper Hessenberg matrix
        with no zero below its diagonal, 0 for an upper triangular one.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number.

    Examples
    --------
    >>> factors = givens_qr(np.array([[4.0, 1.0, 5.0], [3.0, 2.0, 5.0], [0.0, 1.0, 2.0]]))
    >>> print(np.abs(factors.r).round(4), factors.n_rotations)
    [[5.     2.     7.    ]
     [0.     1.4142 2.1213]
     [0.     0.     0.7071]] 2
    """
    # given: the check
    a = real_array(a, "a", ndim=2)
    # yours
    n_rows, n_cols = a.shape
    q, r, n_rotations = np.eye(n_rows, dtype=a.dtype), a.copy(), 0
    for j in range(n_cols):
        for i in range(n_rows - 1, j, -1):
            if r[i, j] == 0:
                continue
            c, s, _ = givens_rotation(r[i - 1, j], r[i, j])
            rotation = np.array([[c, s], [-s, c]], a.dtype)
            r[i - 1 : i + 1, j:] = rotation @ r[i - 1 : i + 1, j:]
            r[i, j] = 0
            q[:, i - 1 : i + 1] = q[:, i - 1 : i + 1] @ rotation.T
            n_rotations += 1
    return GivensQR(q, r, n_rotations)
