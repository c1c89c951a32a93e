r"""Lagrange multipliers: minimise where equations must hold, and read off what each equation costs.

## Idea

Walk downhill on a surface, but never leave a path. You can go no lower once the path runs level: then the slope of the
surface points straight across the path, and what lies straight across a path is a combination of the gradients of
the equations that define it. The factors of this combination are the multipliers. They turn a problem with
constraints into a system of equations, which Newton's method solves in a few steps; and they are *prices*: how much the
minimum would change if a constraint were moved a little.

## Maths

Minimise $f(x)$ over the $x \in \mathbb R^n$ with $h(x) = 0$, which are $m$ equations. Write $g = \nabla f(x)$, $A$ for
the Jacobian of $h$ ($m \times n$, a gradient in each row), and

$$L(x, \nu) = f(x) + \nu^\top h(x), \qquad \nabla_x L = g + A^\top \nu . \tag{1}$$

**First order.** Let the rows of $A$ be linearly independent. Then the directions in which the constraints do not
change, to first order, are the *tangent space* $\{d : A d = 0\}$. Take a basis of it as the columns of $Z$. If $x$ is a
minimum, no tangent direction leads downhill, so $Z^\top g = 0$: $g$ is orthogonal to everything that is orthogonal to
the rows of $A$, so it is a combination of these rows. There is exactly one $\nu$ with

$$g + A^\top \nu = 0, \qquad h(x) = 0 . \tag{2}$$

At other points the first part of (2) has no solution, but it has a best one, the **least-squares multipliers**

$$\nu(x) = \arg\min_\nu \lVert g + A^\top \nu \rVert^2 , \tag{3}$$

and what they leave over is the part of $g$ along the tangent space.

**A quadratic objective, linear constraints.** For a step $p$ let the objective be $g^\top p + \tfrac12 p^\top H p$ and
the constraints $A p + c = 0$. Condition (2) is then a linear system, the *KKT system*:

$$\begin{pmatrix} H & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} p \\ \nu \end{pmatrix} =
-\begin{pmatrix} g \\ c \end{pmatrix} . \tag{4}$$

It can be solved as it stands, or in three smaller pieces. The shortest step that satisfies the constraints is
$p_0 = -A^+ c$, with the pseudoinverse. All others are $p_0 + Z u$, and multiplying the upper row by $Z^\top$ removes
$\nu$:

$$Z^\top H Z\, u = -Z^\top (g + H p_0), \qquad p = p_0 + Z u . \tag{5}$$

Then $A^\top \nu = -(g + H p)$ has an exact solution, which (3) finds.

**Second order.** Along a curve on the constraints the second derivative of $f$ is $d^\top \nabla^2_{xx} L\, d$, with
the Hessian of the *Lagrangian*: that of $f$ alone forgets that the path bends. With $H = \nabla^2_{xx} L$, a point with
(2) is a strict local minimum if the **reduced Hessian**

$$Z^\top H Z \tag{6}$$

is positive definite, a maximum if it is negative definite, a saddle if it has eigenvalues of both signs; where zeros
decide, second derivatives do not. The matrix $K$ in (4) knows this too. Choose a basis that consists of $Z$ and the
rows of $A$: each constraint, together with its multiplier, contributes a block
$\bigl(\begin{smallmatrix} * & 1 \\ 1 & 0 \end{smallmatrix}\bigr)$, with one positive and one negative eigenvalue, and
the rest is (6). Signs survive a change of basis (Sylvester), so the numbers of positive, negative and zero eigenvalues
are

$$\operatorname{inertia}(K) = \operatorname{inertia}(Z^\top H Z) + (m, m, 0) . \tag{7}$$

At a minimum it is $(n, m, 0)$, and $\det K$ has the sign of $(-1)^m$: this is the old test by bordered determinants.

**Prices.** Let the constraints be $h(x) = b$, and follow the solution $x(b), \nu(b)$ as $b$ leaves 0. The minimal value
is $f(x(b))$, with the derivative $g^\top \partial x / \partial b = -\nu^\top A\, \partial x / \partial b$; and
$h(x(b)) = b$ says that $A\, \partial x / \partial b = I$. So

$$\frac{\partial f^*}{\partial b} = -\nu . \tag{8}$$

Differentiating (2) itself, with $h = b$, yields the rest from the same matrix:

$$\begin{pmatrix} H & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} \partial x / \partial b \\ \partial \nu / \partial b
\end{pmatrix} = \begin{pmatrix} 0 \\ I \end{pmatrix} . \tag{9}$$

**Newton's method** for (2) linearises it at $x$: that is (4) with $c = h(x)$ and $H$ the Hessian of the Lagrangian.
Near a solution with a regular matrix it converges quadratically, be it a minimum, a maximum or a saddle. To look for
minima only, $H$ is shifted to $H + \sigma I$ where (6) has the least eigenvalue $\lambda_{\min} < \delta$, a number
that counts as zero, $\delta = 10^{-8} \max_{ij} |H_{ij}|$:

$$\sigma = \max(|\lambda_{\min}|, \delta) - \lambda_{\min} . \tag{10}$$

As $Z$ has orthonormal columns, the least eigenvalue becomes $\max(|\lambda_{\min}|, \delta)$.

**How far?** Neither $f$ nor $\lVert h \rVert$ alone can judge a step. Keep the new multipliers $\nu$ fixed, and judge
by

$$\phi(x) = f(x) + \nu^\top h(x) + \tfrac{\rho}{2} \lVert h(x) \rVert^2 . \tag{11}$$

Its slope along the step follows from both rows of (4), $g + A^\top \nu = -H p$ and $A p = -h$:

$$\nabla \phi^\top p = (g + A^\top \nu)^\top p + \rho\, h^\top A p = -p^\top H p - \rho \lVert h \rVert^2 . \tag{12}$$

On the constraints $p$ is a tangent, so that $p^\top H p > 0$ after the shift (10). Off them it may be negative, but a
large enough $\rho$ makes up for that. The step is halved until $\phi$ falls by Armijo's condition. A full step without
a shift that halves the error in (2) is taken as it is: near the solution it is the right one, and $\phi$ drowns in
rounding.

## Worked example

Minimise $x_1^2 + 3 x_2^2$ with $x_1 + x_2 = 4$. By (2), $2 x_1 + \nu = 0$ and $6 x_2 + \nu = 0$, so $x = (3, 1)$ and
$\nu = -6$; the value is 12. The tangent space is spanned by $Z = (1, -1)/\sqrt 2$, and (6) is $(2 + 6)/2 = 4$: a minimum.
The matrix of (4), $\bigl(\begin{smallmatrix} 2 & 0 & 1 \\ 0 & 6 & 1 \\ 1 & 1 & 0 \end{smallmatrix}\bigr)$, has the
determinant $-8$ and the inertia $(2, 1, 0)$, as (7) says. With the right-hand side $4 + b$ the minimum is
$\tfrac34 (4 + b)^2$: its slope at $b = 0$ is $6 = -\nu$, as (8) says. (9) is solved by
$\partial x / \partial b = (\tfrac34, \tfrac14)$ and $\partial \nu / \partial b = -\tfrac32$, which is minus the second
derivative of the minimal value.

With $x_1^2 - 3 x_2^2$ instead, (6) is $(2 - 6)/2 = -2$: the same line now has a maximum, although $f$ alone has a
saddle.

## Plan

- `lagrangian_gradient` takes gradient, Jacobian and multipliers and returns (1).
- `least_squares_multipliers` takes gradient and Jacobian and returns (3).
- `tangent_basis` takes a Jacobian and returns $Z$ with orthonormal columns; it refuses dependent rows.
- `solve_kkt` takes $H$, $A$, $g$ and $c$ and returns the step and the multipliers of (4).
- `second_order` takes $H$ and $A$ and returns the eigenvalues of (6), the inertia (7), and what kind of point it is.
- `sensitivity` takes $H$, $A$ and $\nu$ and returns the derivatives (8) and (9).
- `newton_step` takes the same as `solve_kkt` and solves with the shift (10).
- `minimize` goes from a start to a result.

Given are the evaluation of a problem at a point, the reasons to stop, and the search by (11) and (12).

## Pitfalls

- Every multiplier has the wrong sign, and so has every price.
- The maximum is reported as the minimum, with small residuals.
- A bowl is found to have no minimum on a circle, or a saddle to have one on a line.
- The step satisfies the constraints to first order only half way.
- It zigzags along the constraints, or refuses good steps close to the solution.
- Multipliers of $10^{15}$: two constraints say the same.

## Cost

Per step: one singular value decomposition of $A$ and one solve with the reduced Hessian, together O(n³), and one
evaluation of each function. Solving (4) as it stands costs about the same for few constraints and keeps sparse matrices
sparse, as large problems demand; the null-space way (5) wins where almost as many constraints as variables leave a tiny
reduced matrix. On the problems of the benchmark `minimize` takes about twice the time of SciPy's SLSQP, which works
with approximate second derivatives and in compiled code; on HS39, where the halving search goes round a bend in 71
evaluations, 13 times.

## Go further

- *Experiment*: start at a hundred random points of a sphere and minimise $x^\top M x$ on it, with and without
  `line_search`. Where do the two end, and how often at each eigenvector?
- *Stretch*: replace $\phi$ by $f + \rho \lVert h \rVert_1$, whose slope you can derive from (4) as well. Close to a
  solution on a curved constraint it may refuse Newton's step at every size but tiny ones: Maratos' effect [3]. Make it
  happen.

## References

1. Nocedal & Wright (2006), Numerical Optimization, chapters 12, 16 and 18, https://doi.org/10.1007/978-0-387-40065-5
2. Boyd & Vandenberghe (2004), Convex Optimization, chapters 5 and 10, https://doi.org/10.1017/CBO9780511804441
3. Powell (1987), Methods for nonlinear constraints in optimization calculations, in The State of the Art in Numerical
   Analysis
4. Hock & Schittkowski (1981), Test Examples for Nonlinear Programming Codes, https://doi.org/10.1007/978-3-642-48320-2
"""

# 8 parts to write. Test them with: pytest exercises/optim/lagrange.py
# To be written without: scipy.optimize, scipy.linalg.null_space, scipy.linalg.solve, scipy.linalg.ldl

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult
from mlpath.optim._shared import checked_gradient
from mlpath.optim.gradient_descent import check_arguments

CONVERGED = "converged: no component of the Lagrangian's gradient or of the constraints exceeds tol"
NOT_A_MINIMUM = "stopped: the point satisfies the first-order conditions, but is no minimum"
SINGULAR = "stopped: the KKT system is singular; the constraints' gradients may be linearly dependent"
DIVERGED = "diverged: the objective, a constraint or a derivative is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the conditions held to tol"
STALLED = "stopped: no step along Newton's direction lowers the merit function"
NONE = np.zeros(0)  # the multipliers of no inequalities


@dataclass(frozen=True)
class SecondOrder:
    """What the second derivatives say about a point where the first-order conditions hold.

    Attributes
    ----------
    eigenvalues : ndarray
        Those of the reduced Hessian (6), ascending; empty if the constraints leave no direction.
    inertia : tuple of int
        How many eigenvalues of the matrix in (4) are positive, negative, zero.
    kind : str
        "minimum", "maximum", "saddle", or "undecided" where zero eigenvalues leave it open.
    """

    eigenvalues: Float[np.ndarray, " n_free"]
    inertia: tuple[int, int, int]
    kind: str


@dataclass(frozen=True)
class Sensitivity:
    """How the solution moves with the right-hand sides $b$ of the constraints $h(x) = b$.

    Attributes
    ----------
    value : ndarray
        The derivatives of the minimal value, (8): the shadow prices.
    point : ndarray
        The derivatives of the solution: column $j$ is that for the constraint $j$.
    multipliers : ndarray
        The derivatives of the multipliers, likewise.
    """

    value: Float[np.ndarray, " n_constraints"]
    point: Float[np.ndarray, "dim n_constraints"]
    multipliers: Float[np.ndarray, "n_constraints n_constraints"]


@dataclass(frozen=True)
class Point:
    """A point, with what the problem says about it.

    Attributes
    ----------
    x, value, gradient : ndarray, float, ndarray
        The point, and the objective and its gradient there.
    residual, jacobian : ndarray
        The constraints there, and their gradients in rows.
    multipliers : ndarray
        The least-squares multipliers (3).
    error : float
        By how much (2) fails: the largest component of the Lagrangian's gradient and of the constraints; NaN or
        infinite where something is not finite.
    """

    x: Float[np.ndarray, " dim"]
    value: float
    gradient: Float[np.ndarray, " dim"]
    residual: Float[np.ndarray, " n_constraints"]
    jacobian: Float[np.ndarray, "n_constraints dim"]
    multipliers: Float[np.ndarray, " n_constraints"] = field(default_factory=lambda: NONE)
    error: float = np.nan


def lagrangian_gradient(
    gradient: Float[np.ndarray, " dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    multipliers: Float[np.ndarray, " n_constraints"],
) -> Float[np.ndarray, " dim"]:
    """Return the gradient of the Lagrangian in x: equation (1).

    Parameters
    ----------
    gradient : ndarray
        The gradient of the objective.
    jacobian : ndarray
        The gradients of the constraints, one a row. There may be none.
    multipliers : ndarray
        One for each constraint.

    Returns
    -------
    ndarray
        Zero where (2) holds.

    Examples
    --------
    >>> lagrangian_gradient(np.array([6.0, 7.0]), np.array([[1.0, 2.0]]), np.array([-3.0]))
    array([3., 1.])
    """
    raise NotImplementedError("not written yet: lagrangian_gradient")


def least_squares_multipliers(
    gradient: Float[np.ndarray, " dim"], jacobian: Float[np.ndarray, "n_constraints dim"]
) -> Float[np.ndarray, " n_constraints"]:
    """Return the multipliers that make the Lagrangian's gradient as short as can be: equation (3).

    Parameters
    ----------
    gradient : ndarray
        The gradient of the objective.
    jacobian : ndarray
        The gradients of the constraints, one a row. There may be none.

    Returns
    -------
    ndarray
        If the rows are linearly dependent, the shortest of the best ones.

    Examples
    --------
    >>> print(least_squares_multipliers(np.array([6.0, 7.0]), np.array([[1.0, 2.0]])).round(4))
    [-4.]
    """
    raise NotImplementedError("not written yet: least_squares_multipliers")


def tangent_basis(jacobian: Float[np.ndarray, "n_constraints dim"]) -> Float[np.ndarray, "dim n_free"]:
    """Return an orthonormal basis of the directions that all constraints' gradients are orthogonal to.

    The rows count by their directions: how long each is makes no difference, from the smallest numbers to the largest.

    Parameters
    ----------
    jacobian : ndarray
        The gradients of the constraints, one a row. There may be none.

    Returns
    -------
    ndarray
        The basis $Z$ in its columns, dim - n_constraints in number, which may be none.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the rows are linearly dependent, up to rounding.

    Examples
    --------
    >>> print(abs(tangent_basis(np.array([[3.0, 4.0]]))).round(4).ravel())
    [0.8 0.6]
    """
    raise NotImplementedError("not written yet: tangent_basis")


def solve_kkt(
    hessian: Float[np.ndarray, "dim dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    gradient: Float[np.ndarray, " dim"],
    residual: Float[np.ndarray, " n_constraints"],
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " n_constraints"]]:
    """Solve the KKT system (4): where is a quadratic stationary on linear constraints?

    Parameters
    ----------
    hessian : ndarray
        The matrix $H$, symmetric; it need not be positive definite.
    jacobian : ndarray
        The matrix $A$. There may be no constraints.
    gradient, residual : ndarray
        The vectors $g$ and $c$.

    Returns
    -------
    step, multipliers : ndarray
        The solution, in float32 if all that is given is.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a number is not finite.
    numpy.linalg.LinAlgError
        If the system is singular up to rounding: rows of `jacobian` are linearly dependent, or the reduced Hessian (6)
        is singular.

    Examples
    --------
    >>> step, multipliers = solve_kkt(np.diag([2.0, 6.0]), np.ones((1, 2)), np.zeros(2), np.array([-4.0]))
    >>> print(step.round(4), multipliers.round(4))
    [3. 1.] [-6.]
    """
    # given: the checks
    _check_system(hessian, jacobian, gradient=gradient, residual=residual)
    raise NotImplementedError("not written yet: solve_kkt")


def second_order(
    hessian: Float[np.ndarray, "dim dim"], jacobian: Float[np.ndarray, "n_constraints dim"], *, tol: float = 1e-8
) -> SecondOrder:
    """Classify a point where the first-order conditions hold, by equations (6) and (7).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives of the Lagrangian there, symmetric.
    jacobian : ndarray
        The gradients of the constraints there. There may be none.
    tol : float
        An eigenvalue of the reduced Hessian counts as zero if it is at most `tol` times the largest entry of `hessian`
        in size.

    Returns
    -------
    SecondOrder
        The kind is "saddle" if eigenvalues of both signs occur, zeros or not; else "undecided" if one is zero; else
        "minimum" or "maximum". Where the constraints leave no direction at all, the point is a "minimum".

    Raises
    ------
    ValueError
        If the shapes do not fit, or a number is not finite.
    numpy.linalg.LinAlgError
        If rows of `jacobian` are linearly dependent.

    Examples
    --------
    >>> found = second_order(np.diag([2.0, -6.0]), np.array([[1.0, 1.0]]))
    >>> print(found.eigenvalues.round(4), found.inertia, found.kind)
    [-2.] (1, 2, 0) maximum
    """
    # given: the checks
    _check_system(hessian, jacobian)
    raise NotImplementedError("not written yet: second_order")


def sensitivity(
    hessian: Float[np.ndarray, "dim dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    multipliers: Float[np.ndarray, " n_constraints"],
) -> Sensitivity:
    """Return how a solution moves with the right-hand sides of its constraints: equations (8) and (9).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives of the Lagrangian at the solution.
    jacobian : ndarray
        The gradients of the constraints there.
    multipliers : ndarray
        The multipliers there.

    Returns
    -------
    Sensitivity
        The derivatives of the minimal value, of the solution and of the multipliers.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a number is not finite.
    numpy.linalg.LinAlgError
        If the system (9) is singular.

    Examples
    --------
    >>> found = sensitivity(np.diag([2.0, 6.0]), np.array([[1.0, 1.0]]), np.array([-6.0]))
    >>> print(found.value, found.point.round(4).ravel(), found.multipliers.round(4))
    [6.] [0.75 0.25] [[-1.5]]
    """
    # given: the checks
    _check_system(hessian, jacobian, multipliers=multipliers)
    raise NotImplementedError("not written yet: sensitivity")


def newton_step(
    hessian: Float[np.ndarray, "dim dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    gradient: Float[np.ndarray, " dim"],
    residual: Float[np.ndarray, " n_constraints"],
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " n_constraints"], float]:
    r"""Solve the KKT system with a Hessian that is shifted until its minimum on the constraints exists: equation (10).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives of the Lagrangian.
    jacobian : ndarray
        The gradients of the constraints. There may be none.
    gradient, residual : ndarray
        The gradient of the objective, and the constraints' values.

    Returns
    -------
    step, multipliers : ndarray
        The solution of (4) with $H + \sigma I$ for $H$, in float32 if all that is given is.
    shift : float
        $\sigma$: 0 if the least eigenvalue of (6) is at least $\delta$. If $H = 0$, then $\delta = 10^{-8}$.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a number is not finite.
    numpy.linalg.LinAlgError
        If rows of `jacobian` are linearly dependent.

    Examples
    --------
    >>> step, _, shift = newton_step(np.diag([2.0, -6.0]), np.ones((1, 2)), np.array([1.0, 0.0]), np.zeros(1))
    >>> print(step.round(4), round(shift, 4))
    [-0.25  0.25] 4.0
    """
    # given: the checks
    _check_system(hessian, jacobian, gradient=gradient, residual=residual)
    raise NotImplementedError("not written yet: newton_step")


def minimize(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    line_search: bool = True,
    tol: float = 1e-8,
    max_iter: int = 100,
    record_path: bool = False,
) -> ConstrainedResult:
    """Minimise a function under equality constraints by Newton's method on the KKT conditions.

    At each point the multipliers are those of (3), and with them the Hessian of the Lagrangian is taken:
    `problem.lagrangian_hess(x, multipliers, NONE)`. The given `_search` takes this Hessian, not the shifted one, and
    what `newton_step` returned; the penalty of (11) begins at 1, and each search goes on with the one that the last has
    used.

    Parameters
    ----------
    problem : ConstrainedProblem
        With no inequalities.
    start : array_like, optional
        Where to begin, instead of the problem's own start. It need not satisfy the constraints.
    line_search : bool
        Whether the Hessian is shifted by (10) and the step shortened by (11). If not, each step is the solution of (4)
        as it is, which may lead to a maximum or a saddle.
    tol : float
        Converged when no component of the Lagrangian's gradient, with the multipliers (3), nor of the constraints
        exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    ConstrainedResult
        In double precision. `success` is true only for the message `CONVERGED`. The others are `NOT_A_MINIMUM`, if the
        conditions hold to `tol` at what `second_order` calls a saddle or a maximum; `SINGULAR`, `DIVERGED`,
        `OUT_OF_STEPS` and `STALLED`. Where the conditions hold, that is said even if the steps are used up as well.
        `nit` counts steps made, `nfev` calls of the objective, that at the start included. `equality_multipliers` are
        those of (3) at `x`. `path` has `nit + 1` rows.

    Raises
    ------
    ValueError
        If the problem has inequalities, an argument is refused by `gradient_descent.check_arguments`, or one of the
        problem's functions returns a wrong shape, or a Hessian that is not finite.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> result = minimize(hock_schittkowski()["HS42"])
    >>> print(result.x.round(4), f"{result.fun:.4f}", result.equality_multipliers.round(4), result.success)
    [2.     2.     0.8485 1.1314] 13.8579 [-2.      2.5355] True
    """
    # given: the checks, and the first point
    at = _begin(problem, problem.start if start is None else start, tol=tol, max_iter=max_iter)
    raise NotImplementedError("not written yet: minimize")


def _begin(problem: ConstrainedProblem, start: ArrayLike, *, tol: float, max_iter: int) -> Point:  # given
    """Return the first point, or refuse the arguments."""
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)
    if n_inequalities := len(problem.inequalities(x)):
        raise ValueError(f"problem must have no inequalities, got {n_inequalities}")
    return _evaluate(problem, x)


def _evaluate(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"]) -> Point:  # given: the problem at a point
    """Return what the problem says about a point, refusing shapes that do not fit."""
    value, gradient = float(problem.fun(x)), checked_gradient(problem.grad)(x)
    residual, jacobian = (np.asarray(f(x), float) for f in (problem.equalities, problem.equality_jacobian))
    if residual.ndim != 1 or jacobian.shape != (len(residual), len(x)):
        raise ValueError(f"equality_jacobian must fit {residual.shape} equalities, got {jacobian.shape}")
    if not all(np.isfinite(part).all() for part in (value, gradient, residual, jacobian)):
        return Point(x, value, gradient, residual, jacobian, np.full(len(residual), np.nan))
    multipliers = least_squares_multipliers(gradient, jacobian)
    gaps = [*lagrangian_gradient(gradient, jacobian, multipliers), *residual]
    return Point(x, value, gradient, residual, jacobian, multipliers, float(np.abs(gaps).max()))


def _stopping(at: Point, nit: int, *, tol: float, max_iter: int) -> str | None:  # given: the reasons to stop
    """Return the reason to stop, or None to go on."""
    if not np.isfinite(at.error):
        return DIVERGED
    if at.error <= tol:
        return CONVERGED
    return OUT_OF_STEPS if nit >= max_iter else None


def _search(
    problem: ConstrainedProblem,
    at: Point,
    hessian: Float[np.ndarray, "dim dim"],
    newton: tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " n_constraints"], float | None],
    penalty: float,
) -> tuple[Point | None, float, int]:  # given: how far to go, by (11) and (12)
    """Return the point after the first good step, or None, with the penalty used and the number of trials.

    `newton` holds the step, the multipliers and the shift; if the shift is None, the step is taken as it is.
    """
    step, multipliers, shift = newton
    if shift is None:
        return _evaluate(problem, at.x + step), penalty, 1
    curvature, violation = float(step @ hessian @ step + shift * step @ step), float(at.residual @ at.residual)
    if violation > 0:
        penalty = max(penalty, -2 * curvature / violation)

    def merit(point: Point) -> float:
        return point.value + float(multipliers @ point.residual + penalty / 2 * point.residual @ point.residual)

    slope, size = -curvature - penalty * violation, 1.0
    for trial in range(50):
        new = _evaluate(problem, at.x + size * step)
        halved = shift == 0 and trial == 0 and new.error <= at.error / 2
        if np.isfinite(new.error) and (halved or merit(new) <= merit(at) + 1e-4 * size * slope < merit(at)):
            return new, penalty, trial + 1
        size /= 2
    return None, penalty, 50


def _result(
    problem: ConstrainedProblem, at: Point, nit: int, nfev: int, message: str, path: list[np.ndarray] | None
) -> ConstrainedResult:  # given: what to report
    """Return the result at the last point; where the conditions hold, ask the second derivatives whether it is a minimum."""
    if message == CONVERGED:
        try:
            kind = second_order(problem.lagrangian_hess(at.x, at.multipliers, NONE), at.jacobian).kind
            message = NOT_A_MINIMUM if kind in ("saddle", "maximum") else CONVERGED
        except np.linalg.LinAlgError:
            message = SINGULAR
    return ConstrainedResult(
        at.x,
        at.value,
        nit,
        nfev,
        message == CONVERGED,
        message,
        None if path is None else np.array(path),
        equality_multipliers=at.multipliers,
        inequality_multipliers=NONE,
        violation=float(abs(at.residual).max(initial=0.0)),
    )


def _check_system(
    hessian: Float[np.ndarray, "dim dim"], jacobian: Float[np.ndarray, "n_constraints dim"], **vectors: np.ndarray
) -> None:  # given: argument checks
    """Refuse matrices and vectors that do not fit each other, or are not finite."""
    if hessian.ndim != 2 or hessian.shape[0] != hessian.shape[1] or not hessian.size:
        raise ValueError(f"hessian must be a square matrix, got shape {hessian.shape}")
    if jacobian.ndim != 2 or jacobian.shape[1] != len(hessian):
        raise ValueError(f"jacobian must have shape (n_constraints, {len(hessian)}), got {jacobian.shape}")
    for name, array in {"hessian": hessian, "jacobian": jacobian, **vectors}.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {array}")
    for name, vector in vectors.items():
        expected = len(hessian) if name == "gradient" else len(jacobian)
        if vector.shape != (expected,):
            raise ValueError(f"{name} must have shape {(expected,)}, got {vector.shape}")
