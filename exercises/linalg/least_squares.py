r"""Least squares: the best answer to equations that have none, or too many.

## Idea

Fit a line to a hundred points: a hundred equations, two unknowns, no solution. Least squares takes the $x$ that leaves
the smallest residual, and where several do, the shortest of them. There are three classic ways to compute it, by the
normal equations, by QR and by singular values. On paper they agree; in floating point the first can lose twice as many
digits as the second, and only the third knows what to do when columns depend on one another.

## Maths

Let $A$ be $m \times n$. We look for

$$\min_x \lVert A x - b \rVert_2. \tag{1}$$

**Normal equations.** The best $Ax$ is the foot of the perpendicular from $b$ onto the span of the columns:
$A^\top (b - A x) = 0$, or

$$A^\top A\, x = A^\top b. \tag{2}$$

If the columns are independent, $A^\top A$ is positive definite and has a Cholesky factor $L$, lower triangular:

$$A^\top A = L L^\top, \qquad L y = A^\top b, \qquad L^\top x = y. \tag{3}$$

A triangular system $T x = b$ is solved one unknown after the other. For a lower triangle begin with the first row, for
an upper one with the last; in each row $i$ only one unknown is new,

$$x_i = \Big( b_i - \sum_{j \text{ known}} T_{ij} x_j \Big) \Big/ T_{ii}. \tag{4}$$

**QR.** With $A = QR$, $Q$ having $n$ orthonormal columns, split $b$ into its part $Q Q^\top b$ in their span and the
rest. By Pythagoras $\lVert Ax - b \rVert^2 = \lVert Rx - Q^\top b \rVert^2 + \lVert b - QQ^\top b \rVert^2$, where $x$
is in the first term only, and makes it zero:

$$R x = Q^\top b. \tag{5}$$

**When columns depend on one another.** $|R_{jj}|$ is the distance of column $a_j$ from the span of those before it. As
$A^\top A = R^\top R$, $L$ is $R^\top$ up to signs, so $L_{jj}$ is that distance too. Let $\varphi_j$ be the angle
between $a_j$ and that span:

$$|R_{jj}| = \lVert a_j \rVert \sin \varphi_j, \qquad L_{jj}^2 = (A^\top A)_{jj} \sin^2 \varphi_j. \tag{6}$$

Rounding errors are about $\varepsilon = 2 \cdot 10^{-16}$ times the length of $a_j$ in $R$, and $\varepsilon$ times its
square in $A^\top A$. A pivot below that is noise. With a margin of ten, we call the columns dependent, and raise an
error, if for any $j$

$$|R_{jj}| \le 10\, m\, \varepsilon\, \max_i |R_{ij}|, \qquad\text{or}\qquad L_{jj}^2 \le 10\, m\, \varepsilon\, (A^\top A)_{jj}. \tag{7}$$

QR sees angles down to some $10^{-14}$; the normal equations see their squares, and are blind below $10^{-7}$.

**Singular values.** With $A = U \Sigma V^\top$, $\sigma_1 \ge \sigma_2 \ge \dots \ge 0$, columns $u_i$ and $v_i$, the
*numerical rank* is

$$k = \#\{ i : \sigma_i > \rho\, \sigma_1 \}, \tag{8}$$

where $\rho$ is a tolerance, by default $\varepsilon \max(m, n)$. In the coordinates $z = V^\top x$, (1) reads
$\sum_i (\sigma_i z_i - u_i^\top b)^2 +$ a constant: each $z_i$ with $\sigma_i > 0$ has its own equation, and the others
do not matter. Set those to 0, which makes $x$ as short as it can be:

$$x = \sum_{i=1}^{k} \frac{u_i^\top b}{\sigma_i}\, v_i. \tag{9}$$

This *minimum-norm* solution always exists and is unique, for tall and wide $A$ of any rank. It is linear in $b$, hence
$x = A^+ b$ with the

$$\text{pseudo-inverse} \quad A^+ = \sum_{i=1}^{k} \frac{1}{\sigma_i}\, v_i u_i^\top. \tag{10}$$

Penrose characterised it without singular values: it is the only matrix $X$ with

$$A X A = A, \qquad X A X = X, \qquad (A X)^\top = A X, \qquad (X A)^\top = X A. \tag{11}$$

**Condition.** How much can a small change of the data change the answer? Let $p = \min(m, n)$ and

$$\kappa = \sigma_1 / \sigma_p, \tag{12}$$

infinite if $\sigma_p = 0$. Change $A$ by $\delta A$, $b$ by $\delta b$, with
$\lVert \delta A \rVert \le \epsilon \lVert A \rVert$ and $\lVert \delta b \rVert \le \epsilon \lVert b \rVert$.
Differentiate (2), and write $r = b - Ax$:

$$\delta x = A^+ (\delta b - \delta A\, x) + (A^\top A)^{-1} \delta A^\top r. \tag{13}$$

The norms of the two matrices are $1 / \sigma_n$ and $1 / \sigma_n^2$, that of $A$ is $\sigma_1$, and
$\lVert b \rVert \le \lVert A \rVert \lVert x \rVert + \lVert r \rVert$. Collect terms, with
$\gamma = \lVert r \rVert / (\sigma_1 \lVert x \rVert)$; Wedin [1] showed that a denominator makes up for all higher
orders. If $\kappa \epsilon < 1$,

$$\frac{\lVert \delta x \rVert}{\lVert x \rVert} \le \frac{\kappa \epsilon}{1 - \kappa \epsilon} \big( 2 + (\kappa + 1)\, \gamma \big). \tag{14}$$

$\gamma$ is at most $\tan \theta$ for the angle $\theta$ between $b$ and the span of the columns. So a good fit is as
sensitive as $\kappa$, and a bad one as $\kappa^2 \tan\theta$.

**What each solver loses.** QR and SVD are backward stable: their $x$ is the exact solution for data changed by a modest
multiple of $\varepsilon$, so (14) bounds their error, with that for $\epsilon$. The normal equations first round
$A^\top A$, whose condition is $\kappa^2$. They lose

$$\frac{\lVert \delta x \rVert}{\lVert x \rVert} \approx c\, \kappa^2 \varepsilon \tag{15}$$

however good the fit, and are at a loss for $\kappa > 10^8$. If the residual is large all three are alike: the problem
itself is that sensitive.

## Worked example

Fit $x_1 + x_2 t$ to the values 1, 3, 3 at $t = 1, 2, 4$. $A$ has the rows $(1, 1)$, $(1, 2)$, $(1, 4)$, so
$A^\top A = \begin{pmatrix} 3 & 7 \\ 7 & 21 \end{pmatrix}$ and $A^\top b = (7, 19)$. By (3),
$L = \begin{pmatrix} 1.7321 & 0 \\ 4.0415 & 2.1602 \end{pmatrix}$, $y = (4.0415, 1.2344)$ and $x = (1, 0.5714)$. QR
gives $R = L^\top$ up to signs. The residual is $(-4, 6, -2) / 7$, of length 1.069, orthogonal to both columns.

$\sigma = (4.8375, 0.7735)$, so $\kappa = 6.254$, and $\kappa^2 = 39.1$ is what matters to the normal equations.
$\lVert x \rVert = 1.1518$ and $\gamma = 1.069 / (4.8375 \cdot 1.1518) = 0.1919$: a change of one in a million,
$\epsilon = 10^{-6}$, moves $x$ by at most $6.254 \cdot 10^{-6} \cdot (2 + 7.254 \cdot 0.1919) = 2.12 \cdot 10^{-5}$ of
its length, by (14).

A wide one: $x_1 + 2 x_2 + 2 x_3 = 9$ has a plane of solutions. $A = (1, 2, 2)$ has $\sigma_1 = 3$, $u_1 = 1$,
$v_1 = (1, 2, 2) / 3$; (9) picks $x = \tfrac{9}{3} v_1 = (1, 2, 2)$, the point of the plane nearest to the origin.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `solve_triangular` | a triangle, right-hand sides | the solution | (4) |
| `solve_normal_equations` | $A$, $b$ | $x$, if the pivots allow it | (2), (3), (7) |
| `solve_qr` | $A$, $b$ | $x$, if the pivots allow it | (5), (7) |
| `numerical_rank` | singular values, $\rho$ | $k$ | (8) |
| `solve_svd` | any $A$, $b$, perhaps $\rho$ | a `LeastSquares`: the minimum-norm $x$, residual, rank, singular values | (9) |
| `pseudo_inverse` | any $A$, perhaps $\rho$ | $A^+$ | (10) |
| `condition_number` | any $A$ | $\kappa$ | (12) |
| `perturbation_bound` | $A$, $b$, $\epsilon$ | the right side of (14) | (14) |

`_refuse_dependent_columns`, which is given, compares pivots with what stands beside them in (7). NumPy's `cholesky`,
`qr`, `svd` and `norm` are welcome; its solvers, and those of SciPy, are ruled out. Right-hand sides are a vector, or
the columns of a matrix.

## Pitfalls

- Half of the digits are gone, though the matrix is far from singular.
- Entries of $10^{15}$ where two columns are equal.
- Right for one right-hand side, wrong or refused for several.
- A wide system is solved, but by a longer vector than NumPy's.
- The residual is small, and still $x$ is far from the true one: that need not be your mistake. See (14).

## Cost

For $m \gg n$ the normal equations take $m n^2$ operations, QR $2 m n^2$, and more if $Q$ is formed as here, SVD
$6 m n^2$ or so. Measured on one thread, the normal equations take a quarter to a third of the time of
`np.linalg.lstsq`, `solve_qr` 1.3 to 1.7 times that of SciPy's pivoted QR, and `solve_svd` 1.6 to 1.9 times that of
`lstsq`: LAPACK applies its factors to $b$ where we form them.

## Go further

An experiment: Longley's data, which are in the tests, broke the regression programs of 1967. Its condition number is
$5 \cdot 10^9$, yet the normal equations by Cholesky keep seven digits. Divide each column by its length and look at
$\kappa$ again: Cholesky does not care about the scale of columns, as (6) says. What if you subtract the means first? A
stretch goal: the minimum-norm solution of a wide system from the QR factorisation of $A^\top$, without singular values.

What is not here: weights, constraints, updating, and iterative solvers for sparse $A$.

## References

1. Wedin (1973), Perturbation theory for pseudo-inverses, https://doi.org/10.1007/BF01933494
2. Golub (1965), Numerical methods for solving linear least squares problems, https://doi.org/10.1007/BF01436075
3. Penrose (1955), A generalized inverse for matrices, https://doi.org/10.1017/S0305004100030401
4. Longley (1967), An appraisal of least squares programs for the electronic computer from the point of view of the
   user, https://doi.org/10.1080/01621459.1967.10500896
5. Higham (2002), Accuracy and stability of numerical algorithms, chapter 20, https://doi.org/10.1137/1.9780898718027
"""

# 8 parts to write. Test them with: pytest exercises/linalg/least_squares.py
# To be written without: numpy.linalg.lstsq, numpy.linalg.pinv, numpy.linalg.solve, numpy.linalg.inv, numpy.linalg.cond, numpy.linalg.matrix_rank, numpy.polyfit, scipy.linalg, scipy.optimize

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, square_matrix


@dataclass(frozen=True)
class LeastSquares:
    """A solution of (1), and what is known about it.

    Attributes
    ----------
    x : ndarray of shape (n_cols,) or (n_cols, n_rhs)
        The solution, the shortest if there are several.
    residual : ndarray of shape (n_rows,) or (n_rows, n_rhs)
        b - A x.
    rank : int
        The numerical rank of A, equation (8).
    singular_values : ndarray of shape (min(n_rows, n_cols),)
        All singular values of A, falling.
    """

    x: Float[np.ndarray, "n_cols *n_rhs"]
    residual: Float[np.ndarray, "n_rows *n_rhs"]
    rank: int
    singular_values: Float[np.ndarray, " n_singular"]


def _right_hand_sides(values: np.ndarray, name: str, n_rows: int) -> np.ndarray:  # given: argument checks
    """Return `values` as a vector of floats, or a matrix of them, with so many rows, or raise a ValueError."""
    array = real_array(values, name, ndim=2 if np.ndim(values) == 2 else 1)
    if len(array) != n_rows:
        raise ValueError(f"{name} must have {n_rows} rows, got the shape {array.shape}")
    return array


def _tall_matrix(values: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return `values` as a matrix of floats with no fewer rows than columns, or raise a ValueError."""
    array = real_array(values, name, ndim=2)
    if array.shape[0] < array.shape[1]:
        raise ValueError(f"{name} must have at least as many rows as columns, got the shape {array.shape}")
    return array


def _tolerance(rcond: float | None, a: np.ndarray) -> float:  # given: the default, and an argument check
    """Return rho of (8): `rcond`, or by default the rounding error of the largest singular value."""
    if rcond is None:
        return max(a.shape) * float(np.finfo(a.dtype).eps)
    if not 0 <= rcond < 1:
        raise ValueError(f"rcond must be at least 0 and below 1, got {rcond}")
    return float(rcond)


def _refuse_dependent_columns(pivots: np.ndarray, beside: np.ndarray, n_rows: int) -> None:  # given: the rule (7)
    """Raise a LinAlgError if a pivot is at most 10 n_rows eps times what stands beside it; both have one entry a column."""
    lost = pivots <= 10 * n_rows * np.finfo(pivots.dtype).eps * beside
    if lost.any():
        j = int(lost.argmax())
        raise np.linalg.LinAlgError(
            f"column {j} of a depends on those before it: its pivot is {pivots[j]:.3g}, beside {beside[j]:.3g}"
        )


def solve_triangular(
    t: Float[np.ndarray, "n n"], b: Float[np.ndarray, "n *n_rhs"], *, lower: bool = False
) -> Float[np.ndarray, "n *n_rhs"]:
    r"""Solve a triangular system by substitution, equation (4).

    Parameters
    ----------
    t : ndarray
        The triangle $T$. What stands on its other side, above the diagonal of a lower triangle or below that of an
        upper one, does not count.
    b : ndarray
        The right-hand side, or several as columns.
    lower : bool
        Whether $T$ is lower triangular, rather than upper.

    Returns
    -------
    ndarray
        $x$ with $T x = b$, of the shape of `b`; float32 if `t` and `b` both are.

    Raises
    ------
    ValueError
        If `t` is not a square matrix of real, finite numbers, or `b` does not fit it.
    numpy.linalg.LinAlgError
        If there is a zero on the diagonal; the message says where.

    Examples
    --------
    >>> print(solve_triangular(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([4.0, 8.0])))
    [1. 2.]
    >>> print(solve_triangular(np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([[4.0], [8.0]]), lower=True).T)
    [[2.  1.5]]
    """
    # given: the checks
    t = square_matrix(t, "t")
    b = _right_hand_sides(b, "b", len(t))
    if not np.diag(t).all():
        raise np.linalg.LinAlgError(f"t is singular: its pivot {int((np.diag(t) == 0).argmax())} is zero")
    raise NotImplementedError("not written yet: solve_triangular")


def solve_normal_equations(
    a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, "n_rows *n_rhs"]
) -> Float[np.ndarray, "n_cols *n_rhs"]:
    r"""Solve (1) by the normal equations and Cholesky, equations (2) and (3), with the error (15).

    Parameters
    ----------
    a : ndarray
        The matrix, with at least as many rows as columns.
    b : ndarray
        The right-hand side, or several as columns.

    Returns
    -------
    ndarray
        $x$, a column for each of `b`; float32 if `a` and `b` both are.

    Raises
    ------
    ValueError
        If `a` is no such matrix of real, finite numbers, or `b` does not fit it.
    numpy.linalg.LinAlgError
        If Cholesky breaks down, or for any column $L_{jj}^2 \le 10\, m\, \varepsilon\, (A^\top A)_{jj}$, the rule (7).

    Examples
    --------
    >>> a = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]])
    >>> print(solve_normal_equations(a, np.array([1.0, 3.0, 3.0])).round(4))
    [1.     0.5714]
    """
    # given: the checks
    a = _tall_matrix(a, "a")
    b = _right_hand_sides(b, "b", len(a))
    raise NotImplementedError("not written yet: solve_normal_equations")


def solve_qr(
    a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, "n_rows *n_rhs"]
) -> Float[np.ndarray, "n_cols *n_rhs"]:
    r"""Solve (1) by QR, equation (5), as accurately as (14) allows.

    Parameters
    ----------
    a : ndarray
        The matrix, with at least as many rows as columns.
    b : ndarray
        The right-hand side, or several as columns.

    Returns
    -------
    ndarray
        $x$, a column for each of `b`; float32 if `a` and `b` both are.

    Raises
    ------
    ValueError
        If `a` is no such matrix of real, finite numbers, or `b` does not fit it.
    numpy.linalg.LinAlgError
        If for any column $|R_{jj}| \le 10\, m\, \varepsilon \max_i |R_{ij}|$, the rule (7).

    Examples
    --------
    >>> a = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]])
    >>> print(solve_qr(a, np.array([[1.0, 10.0], [3.0, 30.0], [3.0, 30.0]])).round(4))
    [[ 1.     10.    ]
     [ 0.5714  5.7143]]
    """
    # given: the checks
    a = _tall_matrix(a, "a")
    b = _right_hand_sides(b, "b", len(a))
    raise NotImplementedError("not written yet: solve_qr")


def numerical_rank(singular_values: Float[np.ndarray, " n"], rcond: float) -> int:
    r"""Return how many singular values count, equation (8).

    Parameters
    ----------
    singular_values : ndarray
        Falling, none negative.
    rcond : float
        The tolerance $\rho$, relative to the largest of them.

    Returns
    -------
    int
        The number of those above $\rho \sigma_1$: not of those equal to it, so that it is 0 if all are 0.

    Examples
    --------
    >>> numerical_rank(np.array([20.0, 3.0, 1e-14]), rcond=1e-12)
    2
    """
    raise NotImplementedError("not written yet: numerical_rank")


def solve_svd(
    a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, "n_rows *n_rhs"], rcond: float | None = None
) -> LeastSquares:
    r"""Solve (1) by singular values, equation (9): whatever the shape and the rank of the matrix.

    It takes memory of the order of `a` itself: not all of a square U or V.

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide.
    b : ndarray
        The right-hand side, or several as columns.
    rcond : float, optional
        The tolerance $\rho$ of (8), from 0 to below 1; max(n_rows, n_cols) times the precision of `a` if None.

    Returns
    -------
    LeastSquares
        The solution of minimum norm, with its residual, and the rank and singular values of `a`; float32 if `a` and `b`
        both are.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, `b` does not fit it, or `rcond` is out of range.

    Examples
    --------
    >>> fit = solve_svd(np.array([[1.0, 2.0, 2.0], [2.0, 4.0, 4.0]]), np.array([9.0, 18.0]))
    >>> print(fit.x.round(4), fit.rank, fit.singular_values.round(4))
    [1. 2. 2.] 1 [6.7082 0.    ]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    b = _right_hand_sides(b, "b", len(a))
    rcond = _tolerance(rcond, a)
    raise NotImplementedError("not written yet: solve_svd")


def pseudo_inverse(
    a: Float[np.ndarray, "n_rows n_cols"], rcond: float | None = None
) -> Float[np.ndarray, "n_cols n_rows"]:
    r"""Return the pseudo-inverse of a matrix, equation (10), in memory of the order of `a` itself.

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide, of any rank.
    rcond : float, optional
        The tolerance $\rho$ of (8), from 0 to below 1; max(n_rows, n_cols) times the precision of `a` if None.

    Returns
    -------
    ndarray
        $A^+$, for which the conditions (11) hold up to rounding; zeros for a matrix of zeros; float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `rcond` is out of range.

    Examples
    --------
    >>> print(pseudo_inverse(np.array([[1.0, 2.0, 2.0], [2.0, 4.0, 4.0]])).round(4))
    [[0.0222 0.0444]
     [0.0444 0.0889]
     [0.0444 0.0889]]
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    rcond = _tolerance(rcond, a)
    raise NotImplementedError("not written yet: pseudo_inverse")


def condition_number(a: Float[np.ndarray, "n_rows n_cols"]) -> float:
    r"""Return the condition number of a matrix, equation (12).

    Parameters
    ----------
    a : ndarray
        The matrix, tall or wide.

    Returns
    -------
    float
        $\kappa$, from 1 to infinity. Where the smallest singular value would be 0 on paper, rounding may make it 1e16.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> print(f"{condition_number(np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]])):.4g}")
    6.254
    """
    # given: the check
    a = real_array(a, "a", ndim=2)
    raise NotImplementedError("not written yet: condition_number")


def perturbation_bound(a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, " n_rows"], epsilon: float) -> float:
    r"""Return how far the solution can move, relative to its length, if the data are changed by $\epsilon$: equation (14).

    Parameters
    ----------
    a : ndarray
        The matrix, with at least as many rows as columns.
    b : ndarray
        The right-hand side, one only.
    epsilon : float
        The size of the changes of `a` and of `b`, relative to their norms.

    Returns
    -------
    float
        The bound; infinite if $\kappa \epsilon \ge 1$, if $\kappa$ is infinite, or if the solution is zero.

    Raises
    ------
    ValueError
        If `a` is no such matrix of real, finite numbers, `b` no vector that fits it, or `epsilon` negative or not
        finite.

    Examples
    --------
    >>> a, b = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]]), np.array([1.0, 3.0, 3.0])
    >>> print(f"{perturbation_bound(a, b, 1e-6):.3g}")
    2.12e-05
    """
    # given: the checks
    a = _tall_matrix(a, "a")
    b = _right_hand_sides(real_array(b, "b", ndim=1), "b", len(a))
    if not 0 <= epsilon < math.inf:
        raise ValueError(f"epsilon must be finite and not negative, got {epsilon}")
    raise NotImplementedError("not written yet: perturbation_bound")
