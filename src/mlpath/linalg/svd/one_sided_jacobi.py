r"""The SVD by one-sided Jacobi rotations: turn columns, two at a time, until all are at right angles.

## Idea

Every matrix is a rotation of the input, a stretching along the axes, and a rotation of the output. If we only knew how
to turn the input, such that the *columns* of the turned matrix are orthogonal! Their lengths are then the singular
values, and their directions the output axes. Hestenes' way there is the simplest there is: take two columns, and mix
them by the one rotation of the plane that makes them orthogonal. Do so with all pairs, again and again. It looks like
Jacobi's method for eigenvalues, and is that method, applied to a matrix $A^\top A$ which is never formed. Forming it
would cost half the digits. Not forming it makes this the most accurate method that is known: small singular values of
matrices with badly scaled columns keep all their digits, which they lose in LAPACK's standard routine.

## Maths

**The factorisation.** Let $A$ be $m \times n$ with $m \ge n$. We look for an orthogonal $V$ such that $G = A V$ has
orthogonal columns. With their lengths $\sigma_j = \lVert g_j \rVert_2$, in descending order, and $u_j = g_j /
\sigma_j$,

$$A V = G = U \Sigma, \qquad \text{that is,} \qquad A = U \Sigma V^\top = \sum_j \sigma_j u_j v_j^\top. \tag{1}$$

This is the *reduced* form, $U$ being $m \times n$. The *full* form has $m - n$ more columns in $U$, which meet only
zeros in $\Sigma$: any orthonormal basis of what is orthogonal to the first $n$ will do. Nor does (1) say what $u_j$ is
where $\sigma_j = 0$: again anything that is orthogonal to the others. If $m < n$, decompose $A^\top = U \Sigma
V^\top$; then $A = V \Sigma U^\top$.

**One rotation.** How far two columns are from being orthogonal tells the cosine between them,

$$\gamma = \frac{g_p^\top g_q}{\lVert g_p \rVert\, \lVert g_q \rVert}, \tag{2}$$

and 0 where a column is zero. Mix the two columns with $c^2 + s^2 = 1$,

$$g_p' = c\, g_p - s\, g_q, \qquad g_q' = s\, g_p + c\, g_q, \tag{3}$$

and do the same with the columns $p$ and $q$ of $V$, so that $G = A V$ remains true. Multiply out and divide by the two
lengths $\nu_p$ and $\nu_q$: with $t = s / c$

$$\frac{g_p'^\top g_q'}{c^2\, \nu_p\, \nu_q}
= t \left( \frac{\nu_p}{\nu_q} - \frac{\nu_q}{\nu_p} \right) + (1 - t^2)\, \gamma .$$

This is zero if, after division by $\gamma$,

$$t^2 + 2 \tau t - 1 = 0, \qquad
\tau = \frac{1}{2 \gamma} \left( \frac{\nu_q}{\nu_p} - \frac{\nu_p}{\nu_q} \right). \tag{4}$$

Only the *quotient* of the lengths enters: no squares of lengths, which for lengths of $10^{200}$ or $10^{-200}$ are no
numbers any more. Two solutions have the product $-1$. The smaller one, by at most $45°$, is the one with which the
method converges; solved such that nothing cancels when $|\tau|$ is large, and with the sign of $\tau = 0$ taken to be
either, but not 0, it is

$$t = \frac{\operatorname{sign} \tau}{|\tau| + \sqrt{1 + \tau^2}}, \qquad c = \frac{1}{\sqrt{1 + t^2}}, \qquad
s = t\, c. \tag{5}$$

If $\gamma = 0$ already there is nothing to do: $c = 1$, $s = 0$.

**All of them.** A *sweep* takes each pair once. Pairs without a common column do not disturb each other, so that they
may be rotated at once, as the games of one round of a tournament: `linalg/jacobi_eigen` makes such rounds, and they
are given here. Later rotations spoil the right angles made by earlier ones, but less and less, and in the end each
sweep squares what is left. We stop when one went by in which no pair was further from orthogonal than rounding can
tell,

$$\max_{p < q} |\gamma_{pq}| \le m\, \varepsilon, \tag{6}$$

with the machine epsilon $\varepsilon$: an inner product of $m$ numbers cannot be known better than that.

**Why small values are right.** Let $A = B D$, where $D$ is diagonal, holds the units of the columns, and may be as bad
as it likes, while $B$ has columns of length 1. Rounding in one column is relative to that column. Suppose, then, that
all that goes wrong is as if $B$ had been changed by $\delta B$. As $A = B D$ has independent columns, $\delta B\, D =
(\delta B\, B^+)\, A$ with the pseudoinverse $B^+$, so that the changed matrix is $(I + E)\, A$ with $\lVert E \rVert
\le \lVert \delta B \rVert\, \lVert B^+ \rVert$. Multiplication by $I + E$ changes no length by more than the factor $1
\pm \lVert E \rVert$, and singular values are minima of maxima of quotients $\lVert A x \rVert / \lVert x \rVert$. So
*each* of them, the smallest too, satisfies

$$\frac{|\delta \sigma_j|}{\sigma_j} \le \lVert \delta B \rVert\, \lVert B^+ \rVert. \tag{7}$$

$D$ does not occur. (That rotations commit only such errors, with $B$ of the *present* $G$ in place of the first, is in
[2]; that $\lVert B^+ \rVert$ does not grow much on the way is observed, not proved.) A method that begins with
reflections from the left and the right mixes large and small columns, and has only the error $\varepsilon \sigma_1$
everywhere.

**By way of eigenvalues.** By (1),

$$A^\top A = V \Sigma^2 V^\top, \qquad A A^\top = U \Sigma^2 U^\top: \tag{8}$$

singular values are roots of eigenvalues, and singular vectors are eigenvectors. An eigenvalue is found up to
$\varepsilon \sigma_1^2$, however small it is, and so all $\sigma_j$ below $\sqrt{\varepsilon}\, \sigma_1$ are lost:
half the digits. Squares can be avoided by a symmetric matrix twice as large, the *dilation*,

$$\begin{pmatrix} 0 & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} v_j \\ \pm u_j \end{pmatrix}
= \pm \sigma_j \begin{pmatrix} v_j \\ \pm u_j \end{pmatrix}. \tag{9}$$

Its eigenvalues are $\pm \sigma_j$ and, for a rectangular $A$, some zeros. Each is found up to $\varepsilon \sigma_1$,
as in LAPACK's SVD.

**Sign.** $u_j$ and $v_j$ may be replaced by $-u_j$ and $-v_j$ in (1), but only together. We want the entry of largest
absolute value of each column of $U$ to be positive (the first of them, if several tie). The columns of $U$ that have
no partner in $V$, in the full form of a tall matrix, and the rows of $V^\top$ without a partner in $U$, in that of a
wide one, follow the same rule alone.

## Worked example

$$A = \begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}: \qquad \nu = (5, 5), \qquad \gamma = 20 / 25 = 0.8.$$

By (4) $\tau = 0$, so $t = 1$ and $c = s = 0.7071$. Then (3) says $g_1' = 0.7071\, (3, -1) = (2.1213, -0.7071)$ and
$g_2' = 0.7071\, (3, 9) = (2.1213, 6.3640)$. These are orthogonal: $4.5 - 4.5 = 0$. Their lengths are $\sqrt 5 =
2.2361$ and $\sqrt{45} = 6.7082$, so in descending order $\sigma = (6.7082, 2.2361)$, and $u_1 = (0.3162, 0.9487)$,
$u_2 = (0.9487, -0.3162)$, whose largest entries are positive. $v_1 = (s, c) = (0.7071, 0.7071)$ and $v_2 = (c, -s)$.

If the first column is given in units a thousand times as small, $A = \begin{pmatrix} 3000 & 0 \\ 4000 & 5
\end{pmatrix}$, the lengths are $5000$ and $5$, and $\gamma$ is still $0.8$: $\tau = (0.001 - 1000) / 1.6 = -624.999$,
$t = -0.0008$. Then $g_2' = (-2.4, 1.8)$: the part of the second column along the first is gone. Its length 3 is the
smaller singular value, up to one part in a million.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `column_norms` | a matrix | the lengths of its columns | (1) |
| `rotation` | lengths and cosines of several pairs | cosines and sines of the angles | (4), (5) |
| `sweep` | $G$ and $V$ | both after one sweep, and the largest cosine met | (2), (3) |
| `complete_basis` | orthonormal columns, how many there should be | these and more | below (1) |
| `from_columns` | $G$ with orthogonal columns, and $V$ | $U$, $\sigma$ and $V^\top$, sorted | (1) |
| `settle_signs` | $U$ and $V^\top$ | the same with signs settled | below (9) |
| `svd` | any matrix | an `SVD`, reduced or full | all |
| `by_eigenvalues` | any matrix, which way | its singular values, less accurate | (8), (9) |

NumPy's and SciPy's own SVD are ruled out; `numpy.linalg.eigvalsh` is needed for the last part.

## Pitfalls

- The columns are orthogonal, and $U \Sigma V^\top$ is another matrix.
- All goes well with columns of similar length; with lengths from $1$ to $10^{-200}$ come `nan`, or cosines of 0.
- $U$ has columns of `nan`, or of zeros.
- The product is right, $U^\top U = I$ is not, for a matrix of deficient rank.
- Wide matrices: the signs follow the wrong factor.
- The sweeps never end, although the columns are orthogonal to fifteen digits.

## Cost

A sweep computes $n (n - 1) / 2$ cosines and rotations of $m$ numbers (and $n$ more for $V$): about $4 m n^2$
operations with the lengths, and 6 to 12 sweeps are usual. That is some ten times what LAPACK does in all, which
moreover works in blocks. Here each of the $n$ rounds is a dozen small steps in Python that go through the whole
matrix. Measured on one thread: 120 to 170 times the time of `numpy.linalg.svd`, from $20 \times 10$ to $300 \times
100$.

## Go further

An experiment: take $B D$ with a random square $B$ and $D$ from $1$ to $10^{-12}$, and compare `svd` with
`numpy.linalg.svd`. Then do the same with badly scaled *rows*, $D B$. Rotations of columns never mix two rows: which
errors does this allow? A stretch goal: Hilbert matrices take twenty sweeps and more. First make a QR factorisation
with columns sorted by length, and then apply the method to $R^\top$: how many sweeps are left? This, worked out with
great care in [3], is in LAPACK as `gejsv`.

What is not here: skipping of rotations that are too small to matter; exchange of columns such that the longer one
comes first, which saves up to half the sweeps where the rank is nearly deficient; column lengths that differ by more
than $10^{300}$.

## References

1. Hestenes (1958), Inversion of matrices by biorthogonalization and related results, https://doi.org/10.1137/0106005
2. Demmel & Veselić (1992), Jacobi's method is more accurate than QR, https://doi.org/10.1137/0613074
3. Drmač & Veselić (2008), New fast and accurate Jacobi SVD algorithm, https://doi.org/10.1137/050639193
4. Golub & Van Loan (2013), Matrix computations, section 8.6
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array
from mlpath.linalg.jacobi_eigen import rounds


@dataclass(frozen=True)
class SVD:
    """A singular value decomposition, equation (1), and how long it took.

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
    sweeps : int
        How many sweeps were made; the last found nothing to do.
    """

    u: Float[np.ndarray, "n_rows n_left"]
    s: Float[np.ndarray, " n_values"]
    vt: Float[np.ndarray, "n_right n_cols"]
    sweeps: int


def _check_columns(g: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return both as matrices of floats, `v` square with a row for each column of `g`, or raise a ValueError."""
    g, v = real_array(g, "g", ndim=2), real_array(v, "v", ndim=2)
    if v.shape != (g.shape[1], g.shape[1]):
        raise ValueError(f"v must be square with {g.shape[1]} rows, as g has so many columns, got {v.shape}")
    return g, v


def column_norms(g: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, " n_cols"]:
    """Return the Euclidean length of each column.

    Lengths from 1e-300 to 1e300 may occur side by side: no square overflows or vanishes.

    Parameters
    ----------
    g : ndarray
        A matrix.

    Returns
    -------
    ndarray
        The lengths; 0 for a column of zeros.

    Raises
    ------
    ValueError
        If `g` is not a matrix of at least one real, finite number.

    Examples
    --------
    >>> column_norms(np.array([[3.0, 0.0], [4.0, -2.0]]))
    array([5., 2.])
    """
    # given: the check
    g = real_array(g, "g", ndim=2)
    # yours
    largest = np.abs(g).max(axis=0)
    unit = np.where(largest > 0, largest, 1)
    return largest * np.sqrt(((g / unit) ** 2).sum(axis=0))


def rotation(
    norm_p: Float[np.ndarray, " n_pairs"], norm_q: Float[np.ndarray, " n_pairs"], cosine: Float[np.ndarray, " n_pairs"]
) -> tuple[Float[np.ndarray, " n_pairs"], Float[np.ndarray, " n_pairs"]]:
    """Return cosine and sine of the smaller angle that makes each pair of columns orthogonal, equations (4) and (5).

    The tangent is from -1 to 1. A pair that is orthogonal already needs no rotation: cosine 1 and sine 0.

    Parameters
    ----------
    norm_p, norm_q : ndarray
        The lengths of both columns of each pair. They may be 0 where `cosine` is 0, and may differ by a factor of
        1e300.
    cosine : ndarray
        The cosine (2) between them.

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
    >>> c, s = rotation(np.array([1.0]), np.array([2.0]), np.array([1.0]))
    >>> print(c.round(4), s.round(4))
    [0.8944] [0.4472]
    """
    # given: the checks
    shapes = {np.shape(norm_p), np.shape(norm_q), np.shape(cosine)}
    if len(shapes) > 1 or len(shapes.pop()) != 1:
        raise ValueError(
            f"norm_p, norm_q and cosine must be vectors of one length, got {norm_p}, {norm_q} and {cosine}"
        )
    if not np.isfinite([norm_p, norm_q, cosine]).all():
        raise ValueError(f"norm_p, norm_q and cosine must be finite, got {norm_p}, {norm_q} and {cosine}")
    # yours
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        tau = (norm_q / norm_p - norm_p / norm_q) / 2 / cosine
        t = np.where(cosine != 0, np.copysign(1, tau) / (np.abs(tau) + np.hypot(1, tau)), 0)
    c = 1 / np.sqrt(1 + t**2)
    return c, t * c


def sweep(
    g: Float[np.ndarray, "n_rows n_cols"], v: Float[np.ndarray, "n_cols n_cols"]
) -> tuple[Float[np.ndarray, "n_rows n_cols"], Float[np.ndarray, "n_cols n_cols"], float]:
    """Rotate each pair of columns once, such that the two are orthogonal at that moment; rotate the columns of `v` along.

    Each rotation is made from the columns as the rotations before it have left them. The order of the pairs is free.

    Parameters
    ----------
    g : ndarray
        The columns. They may be of very different lengths, or zero. It is not changed.
    v : ndarray
        The product of all rotations so far, the identity at first. It is not changed.

    Returns
    -------
    g, v : ndarray
        Both multiplied by the rotations from the right, equation (3); float32 if both are.
    largest : float
        The largest absolute value of a cosine (2) met on the way, each taken before its own rotation. It is 0 for one
        column.

    Raises
    ------
    ValueError
        If `g` is not a matrix of real, finite numbers, or `v` not a square one with a row for each column of `g`.

    Examples
    --------
    >>> g, v, largest = sweep(np.array([[3.0, 0.0], [4.0, 5.0]]), np.eye(2))
    >>> print(g.round(4), largest)
    [[ 2.1213  2.1213]
     [-0.7071  6.364 ]] 0.8
    >>> print(v.round(4))
    [[ 0.7071  0.7071]
     [-0.7071  0.7071]]
    """
    # given: the checks, and all pairs as rounds of disjoint ones: row r of `first` and of `second` has those of round r
    g, v = _check_columns(g, v)
    first, second = np.moveaxis(rounds(g.shape[1]), 2, 0)
    # yours
    n_rows, largest = len(g), 0.0
    x = np.vstack([g, v])  # a column of V is turned with its column of G
    for p, q in zip(first, second):
        norms = column_norms(x[:n_rows])
        unit = x[:n_rows] / np.where(norms > 0, norms, 1)
        cosine = (unit[:, p] * unit[:, q]).sum(axis=0)
        largest = max(largest, float(np.abs(cosine).max(initial=0)))
        c, s = rotation(norms[p], norms[q], cosine)
        x[:, p], x[:, q] = c * x[:, p] - s * x[:, q], s * x[:, p] + c * x[:, q]
    return x[:n_rows], x[n_rows:], largest


def complete_basis(q: Float[np.ndarray, "n_rows n_given"], n_columns: int) -> Float[np.ndarray, "n_rows {n_columns}"]:
    """Add columns to orthonormal ones, so that all of them are orthonormal.

    Parameters
    ----------
    q : ndarray
        Orthonormal columns, perhaps none: the shape (n_rows, 0) is allowed.
    n_columns : int
        How many columns there should be in the end, from as many as there are to `n_rows`.

    Returns
    -------
    ndarray
        The columns of `q`, unchanged, and after them new ones: any that are orthonormal to all others, up to rounding.
        In float32 if `q` is.

    Raises
    ------
    ValueError
        If `q` is not a matrix of real, finite numbers with orthonormal columns, or `n_columns` does not lie in its
        range.

    Examples
    --------
    >>> print(np.abs(complete_basis(np.array([[0.6], [0.8]]), 2)).round(4))
    [[0.6 0.8]
     [0.8 0.6]]
    """
    # given: the checks
    q = np.asarray(q)
    if q.ndim != 2 or q.dtype.kind != "f" or not len(q) or not np.isfinite(q).all():
        raise ValueError(f"q must be a matrix of finite floats with at least one row, got {q}")
    if not np.abs(q.T @ q - np.eye(q.shape[1])).max(initial=0) <= np.sqrt(np.finfo(q.dtype).eps):
        raise ValueError(f"q must have orthonormal columns, got {q}")
    if not q.shape[1] <= n_columns <= len(q):
        raise ValueError(f"n_columns must be from {q.shape[1]} to {len(q)}, got {n_columns}")
    # yours
    while q.shape[1] < n_columns:
        i = (q**2).sum(axis=1).argmin()  # the coordinate axis of which the columns so far contain least
        new = -(q @ q[i])
        new[i] += 1
        q = np.column_stack([q, new / np.sqrt(new @ new)])
    return q.copy()


def from_columns(
    g: Float[np.ndarray, "n_rows n_cols"], v: Float[np.ndarray, "n_cols n_cols"]
) -> tuple[Float[np.ndarray, "n_rows n_cols"], Float[np.ndarray, " n_cols"], Float[np.ndarray, "n_cols n_cols"]]:
    """Return the reduced decomposition of `g` times the transpose of `v`, equation (1), with signs as they come.

    Parameters
    ----------
    g : ndarray
        Orthogonal columns, in any order, at least as many rows; some may be zero.
    v : ndarray
        An orthogonal matrix. Column j belongs to column j of `g`.

    Returns
    -------
    u : ndarray
        The directions of the columns of `g`, orthonormal even where a column is zero.
    s : ndarray
        Their lengths in descending order.
    vt : ndarray
        The columns of `v`, moved along, in the rows.

    Raises
    ------
    ValueError
        If `g` is not a matrix of real, finite numbers with at least as many rows as columns, or `v` not a square one
        with a row for each column of `g`.

    Examples
    --------
    >>> g = np.array([[0.0, 3.0], [0.0, -4.0], [2.0, 0.0]])
    >>> u, s, vt = from_columns(g, np.eye(2))
    >>> print(u.round(4).tolist(), s, vt.tolist())
    [[0.6, 0.0], [-0.8, 0.0], [0.0, 1.0]] [5. 2.] [[0.0, 1.0], [1.0, 0.0]]
    """
    # given: the checks
    g, v = _check_columns(g, v)
    if len(g) < g.shape[1]:
        raise ValueError(f"g must have at least as many rows as columns, got the shape {g.shape}")
    # yours
    norms = column_norms(g)
    order = np.argsort(-norms)
    s, nonzero = norms[order], order[norms[order] > 0]
    u = complete_basis(g[:, nonzero] / norms[nonzero], g.shape[1])
    return u, s, v[:, order].T


def _signs(x: np.ndarray) -> np.ndarray:
    """Return for each column the sign of its entry of largest absolute value."""
    return np.copysign(1, x[np.abs(x).argmax(axis=0), np.arange(x.shape[1])])


def settle_signs(
    u: Float[np.ndarray, "n_rows n_left"], vt: Float[np.ndarray, "n_right n_cols"]
) -> tuple[Float[np.ndarray, "n_rows n_left"], Float[np.ndarray, "n_right n_cols"]]:
    """Return the singular vectors with the signs of the note: the largest entry of each column of `u` is positive.

    Parameters
    ----------
    u : ndarray
        Left singular vectors in the columns.
    vt : ndarray
        Right singular vectors in the rows. Row k belongs to column k of `u`, as far as there are both.

    Returns
    -------
    u, vt : ndarray
        The same, some vectors multiplied by -1. A column of `u` and its row of `vt` turn together; columns of `u`, or
        rows of `vt`, that have no partner turn alone, such that their own entry of largest absolute value is positive.
        If several tie, the first of them counts.

    Raises
    ------
    ValueError
        If `u` or `vt` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> u, vt = settle_signs(np.array([[0.6, 0.8], [-0.8, 0.6]]), np.array([[1.0, 0.0]]))
    >>> print(u.tolist(), (vt + 0.0).tolist())
    [[-0.6, 0.8], [0.8, 0.6]] [[-1.0, 0.0]]
    """
    # given: the checks
    u, vt = real_array(u, "u", ndim=2), real_array(vt, "vt", ndim=2)
    # yours
    left, right = _signs(u), _signs(vt.T)
    n_pairs = min(len(left), len(right))
    right[:n_pairs] = left[:n_pairs]
    return u * left, vt * right[:, None]


def svd(a: Float[np.ndarray, "n_rows n_cols"], *, full: bool = False, max_sweeps: int = 50) -> SVD:
    """Return the singular value decomposition of any matrix, equation (1), by sweeps of rotations.

    The sweeps end with the first in which no cosine was larger than (6) allows, where m is the larger of the two sides
    and epsilon that of the precision of `a`.

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide, of any rank, entries from 1e-300 to 1e300. It is not changed. If it is tall, or
        square, and only badly scaled in its columns, small singular values are relatively as accurate as large ones,
        by (7); if it is wide, the same holds for rows.
    full : bool
        Whether `u` and `vt` are square, or have only as many vectors as there are singular values.
    max_sweeps : int
        How many sweeps are allowed. Ten suffice for most matrices; if the rank is nearly deficient it may take thirty.

    Returns
    -------
    SVD
        The decomposition, with the signs of `settle_signs`; in float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number, or `max_sweeps` is not positive.
    LinAlgError
        If `max_sweeps` did not suffice.

    Examples
    --------
    >>> found = svd(np.array([[3.0, 0.0], [4.0, 5.0]]))
    >>> print(found.s.round(4), found.sweeps)
    [6.7082 2.2361] 2
    >>> print(found.u.round(4))
    [[ 0.3162  0.9487]
     [ 0.9487 -0.3162]]
    >>> print(found.vt.round(4))
    [[ 0.7071  0.7071]
     [ 0.7071 -0.7071]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if max_sweeps < 1:
        raise ValueError(f"max_sweeps must be positive, got {max_sweeps}")
    # yours
    scale = np.abs(a).max() or 1
    wide = a.shape[0] < a.shape[1]
    g = a.T / scale if wide else a / scale
    v, sweeps, largest = np.eye(g.shape[1], dtype=a.dtype), 0, np.inf
    while largest > len(g) * np.finfo(a.dtype).eps:
        if sweeps == max_sweeps:
            raise np.linalg.LinAlgError(f"{max_sweeps} sweeps did not suffice")
        g, v, largest = sweep(g, v)
        sweeps += 1
    u, s, vt = from_columns(g, v)
    if full:
        u = complete_basis(u, len(u))
    u, vt = settle_signs(vt.T, u.T) if wide else settle_signs(u, vt)
    return SVD(u, scale * s, vt, sweeps)


def by_eigenvalues(
    a: Float[np.ndarray, "n_rows n_cols"], matrix: Literal["gram", "dilation"]
) -> Float[np.ndarray, " n_values"]:
    """Return singular values by way of a symmetric matrix, and lose some digits of the small ones.

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide, of any rank, entries from 1e-300 to 1e300. It is not changed.
    matrix : {"gram", "dilation"}
        Whether to take the eigenvalues of the smaller of the matrices (8), or of (9).

    Returns
    -------
    ndarray
        min(n_rows, n_cols) singular values from the largest, none of them negative: up to the square root of epsilon
        times the largest for "gram", up to epsilon times the largest for "dilation". In float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of at least one real, finite number, or `matrix` neither of the two.

    Examples
    --------
    >>> by_eigenvalues(np.array([[3.0, 0.0], [4.0, 5.0]]), "gram").round(4)
    array([6.7082, 2.2361])
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if matrix not in ("gram", "dilation"):
        raise ValueError(f"matrix must be 'gram' or 'dilation', got {matrix!r}")
    # yours
    scale = np.abs(a).max() or 1
    a = a.T / scale if a.shape[0] < a.shape[1] else a / scale
    n_rows, n_cols = a.shape
    if matrix == "gram":
        values = np.sqrt(np.maximum(np.linalg.eigvalsh(a.T @ a), 0))
    else:
        both = np.block([[np.zeros((n_cols, n_cols), a.dtype), a.T], [a, np.zeros((n_rows, n_rows), a.dtype)]])
        values = np.maximum(np.linalg.eigvalsh(both)[-n_cols:], 0)
    return scale * values[::-1]
