r"""Penalties and barriers: constraints by a price on breaking them, or by a wall that must not be touched.

## Idea

If all you can do is minimise without constraints, put the constraints into the objective. A *penalty* lets the walk break
them and charges for it; as the charge grows, the minima come from outside to the solution. A *barrier* makes the
objective infinite at the border, so that the walk stays inside; as the barrier gets thinner, its minima approach from the
interior, on a curve that knows at each point how far it is from the end. Both are old, both bend the objective badly near
the solution, and from both the multipliers come for free.

## Maths

Minimise $f(x)$ subject to $h(x) = 0$ and $g(x) \le 0$, with Jacobians $A$ and $G$, and
$L = f + \nu^\top h + \lambda^\top g$. Write $g^+ = \max(g, 0)$.

**The quadratic penalty**, with the weight $\rho > 0$, is

$$Q_\rho(x) = f(x) + \tfrac\rho2 \lVert h(x) \rVert^2 + \tfrac\rho2 \lVert g^+(x) \rVert^2 . \tag{1}$$

It is differentiable, even where a $g_i$ vanishes, and its gradient is that of the Lagrangian for certain multipliers:

$$\nabla Q_\rho = \nabla f + A^\top (\rho h) + G^\top (\rho g^+) = \nabla_x L(x, \nu, \lambda), \qquad
\nu = \rho\, h(x),\quad \lambda = \rho\, g^+(x) . \tag{2}$$

So a minimum $x(\rho)$ of $Q_\rho$ satisfies all of the KKT conditions but feasibility. As $\rho$ grows, (2) tends to the
true multipliers, hence $h(x(\rho)) \approx \nu^* / \rho$: the violation, and with it the error of $x(\rho)$, is of the
order of $1/\rho$. One differentiation more gives

$$\nabla^2 Q_\rho = \nabla^2_{xx} L(x, \nu, \lambda) + \rho\, A^\top A + \rho\, G_+^\top G_+ , \tag{3}$$

where $G_+$ has the rows of violated inequalities. Across the constraints the curvature grows with $\rho$, along them
it does not: the condition number grows like $\rho$, and first-order methods crawl.

**The exact penalty** charges for the amount, not for its square:

$$\phi_\rho(x) = f(x) + \rho \sum_j |h_j(x)| + \rho \sum_i g_i^+(x) . \tag{4}$$

It has kinks, but its derivative in a direction $d$ exists. It is $\nabla f^\top d$, plus $\rho$ times the sum of

$$\operatorname{sign}(h_j)\, A_j d \ \text{ or, if } h_j = 0,\ |A_j d|; \qquad
G_i d \ \text{ if } g_i > 0,\quad \max(G_i d, 0) \ \text{ if } g_i = 0,\quad 0 \ \text{ if } g_i < 0 . \tag{5}$$

At a KKT point, $\nabla f^\top d = -\nu^\top A d - \lambda^\top G d$. Compare with (5), constraint by constraint: no
direction leads downhill if $\rho \ge |\nu_j|$ and $\rho \ge \lambda_i$ for all of them. If a multiplier is larger than
$\rho$ and the active gradients are independent, then some direction leads downhill. So beyond the threshold

$$\rho^* = \max_{j,i}(|\nu_j|, \lambda_i) \tag{6}$$

the solution minimises (4) *exactly*, at a finite $\rho$. The price is the kink, in which all of the solution sits.

**The logarithmic barrier**, for problems with inequalities only, and with $t > 0$, is

$$B_t(x) = t f(x) - \sum_{i=1}^m \log(-g_i(x)) , \tag{7}$$

and infinite unless all $g_i(x) < 0$. Again its gradient is that of a Lagrangian,
$\nabla B_t = t\, \nabla_x L(x, \lambda)$ with

$$\lambda_i = \frac{1}{-t\, g_i(x)} > 0, \qquad
\nabla^2 B_t = t\, \nabla^2_{xx} L(x, \lambda) + G^\top \operatorname{diag}(1/g_i^2)\, G . \tag{8}$$

At its minimum, the **central point** $x(t)$, stationarity, feasibility and the sign hold, and instead of
$\lambda_i g_i = 0$ we have $-\lambda_i g_i = 1/t$. If the problem is convex, $L(\cdot, \lambda)$ is least at $x(t)$, and
the minimal value $f^*$ is at least that:

$$f^* \ge L(x(t), \lambda) = f(x(t)) - \frac mt \quad\Longrightarrow\quad f(x(t)) - f^* \le \frac mt . \tag{9}$$

So one knows when to stop. Start with a small $t$, whose centre is easy to find, multiply it by 10, and start Newton's
method at the last centre: a few steps will do.

**Phase one.** A barrier needs a start inside. To find one, minimise the worst value: over $x$ and a number $s$,

$$\text{minimise } s \quad \text{subject to } g_i(x) - s \le 0 \text{ for all } i, \tag{10}$$

for which $x$ with any $s > \max_i g_i(x)$ is inside. As soon as all $g_i(x) < 0$, stop. If at a central point of (10) the
bound (9) says that the least $s$ is positive, $s - m/t > 0$, then no point is feasible (if the $g_i$ are convex).

## Worked example

Minimise $x$ with $1 - x \le 0$; the solution is $x = 1$ with $\lambda = 1$. The penalty $x + \tfrac\rho2 (1 - x)^2$ for
$x < 1$ is least where $1 = \rho (1 - x)$: $x(\rho) = 1 - 1/\rho$, outside by $1/\rho$, and (2) gives
$\lambda = \rho \cdot 1/\rho = 1$ at once. The exact penalty is $x + \rho (1 - x)$ to the left of 1, with the slope
$1 - \rho$: for $\rho = 0.5$ it falls for ever to the left, for $\rho = 2$ it is least at 1. The barrier
$t x - \log(x - 1)$ is least where $t = 1/(x - 1)$: $x(t) = 1 + 1/t$, inside by $1/t = m/t$, and (8) gives $\lambda = 1$.

## Plan

- `quadratic_penalty` takes a problem, a point and $\rho$, and returns value, gradient and Hessian, (1) to (3).
- `penalty_multipliers` returns the multipliers (2).
- `minimize_penalty` minimises for growing $\rho$.
- `exact_penalty` takes also a direction and returns (4) and its slope (5).
- `log_barrier` returns value, gradient and Hessian of (7).
- `barrier_multipliers` returns the multipliers in (8).
- `phase_one` looks for a point inside, by (10).
- `minimize_barrier` follows the central points to the solution.

Given is `newton`, which minimises such a `Model` without constraints, and the problem (10).

## Pitfalls

- The penalty's minimum is feasible by a hair for one sign of $h$ and not for the other.
- Satisfied inequalities are charged for, and push the walk inside.
- The first $\rho$ is enormous, and the walk creeps along the constraint.
- A logarithm of a negative number, a step that jumps over the wall.
- The barrier's last centre is exact to $m/t$ and no better, however many steps are made.
- The penalty is unbounded for a small $\rho$, although the problem is not.

## Cost

Some ten rounds, each of a few Newton steps: one evaluation of everything and O(n³) a step. Newton's method does not mind
the large condition number, which comes from a few large eigenvalues; gradient descent would need steps in proportion to
it.

## Go further

- *Experiment*: minimise $Q_\rho$ by gradient descent and count the steps against $\rho$; then against the condition number.
- *Stretch*: treat $\lambda$ in $-\lambda_i g_i = 1/t$ as unknowns of their own and take Newton's method on all equations
  at once. This primal-dual method is what solvers do; how many steps does it save?

## References

1. Courant (1943), Variational methods for the solution of problems of equilibrium and vibrations,
   https://doi.org/10.1090/S0002-9904-1943-07818-4
2. Fiacco & McCormick (1990), Nonlinear Programming: Sequential Unconstrained Minimization Techniques,
   https://doi.org/10.1137/1.9781611971316
3. Nocedal & Wright (2006), Numerical Optimization, chapters 17 and 19, https://doi.org/10.1007/978-0-387-40065-5
4. Boyd & Vandenberghe (2004), Convex Optimization, chapter 11, https://doi.org/10.1017/CBO9780511804441
"""

# 8 parts to write. Test them with: pytest exercises/optim/penalty_barrier.py
# To be written without: scipy.optimize

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult
from mlpath.optim._shared import Vector
from mlpath.optim.gradient_descent import check_arguments

CONVERGED = "converged: the constraints, or the bound on the gap, and the Lagrangian's gradient are within tol"
OUT_OF_STEPS = "stopped: max_iter rounds were made before that"
INFEASIBLE = "stopped: no point with all inequalities below zero was found"
DIVERGED = "diverged: the penalty or the barrier falls for ever, or is not finite"


@dataclass(frozen=True)
class Model:
    """A function at a point, with its first and second derivatives.

    Attributes
    ----------
    value, gradient, hessian : float, ndarray, ndarray
        NaN derivatives where the value is infinite.
    """

    value: float
    gradient: Float[np.ndarray, " dim"]
    hessian: Float[np.ndarray, "dim dim"]


@dataclass(frozen=True)
class Walk:
    """Where Newton's method ended.

    Attributes
    ----------
    x : ndarray
        The last point.
    model : Model
        The function there.
    nfev : int
        Number of evaluations.
    bounded : bool
        Whether the last point and the values there are finite, and not as large as if there were no minimum.
    converged : bool
        Whether no component of the gradient exceeds the tolerance.
    """

    x: Float[np.ndarray, " dim"]
    model: Model
    nfev: int
    bounded: bool
    converged: bool


def newton(
    function: Callable[[Vector], Model],
    start: Float[np.ndarray, " dim"],
    *,
    tol: float,
    enough: Callable[[Vector], bool] = lambda x: False,
    max_iter: int = 30,
) -> Walk:  # given: minimisation without constraints
    """Minimise a function by Newton's method with halved steps, and the sizes of the Hessian's eigenvalues for the eigenvalues.

    No step is longer than 10 plus ten times the size of the point.

    Parameters
    ----------
    function : callable
        Returns the model at a point.
    start : ndarray
        Where to begin; the function must be finite there.
    tol : float
        The largest gradient component that counts as zero.
    enough : callable, optional
        Takes a point and says whether to stop there.
    max_iter : int
        The largest number of steps.

    Returns
    -------
    Walk
        The point at which the gradient vanished, or else the last one that was an improvement.

    Examples
    --------
    >>> walk = newton(lambda x: Model(float(np.cosh(x[0])), np.sinh(x), np.cosh(x)[:, None]), np.array([1.5]), tol=1e-9)
    >>> print(round(abs(float(walk.x[0])), 6), walk.bounded)
    0.0 True
    """
    x, model, nfev = start, function(start), 1
    for _ in range(max_iter):
        finite = all(np.isfinite(part).all() for part in (model.value, model.gradient, model.hessian))
        if not finite or abs(model.gradient).max() <= tol or abs(x).max() > 1e10 or enough(x):
            break
        values, axes = np.linalg.eigh(model.hessian)
        sizes = np.maximum(abs(values), 1e-14 * (abs(values).max() or 1.0))
        step, length = -axes @ ((axes.T @ model.gradient) / sizes), 1.0
        step *= min(1.0, 10 * (1 + np.linalg.norm(x)) / np.linalg.norm(step))
        while length > 1e-8:
            trial, nfev = function(x + length * step), nfev + 1
            fell = trial.value <= model.value + 1e-4 * length * (model.gradient @ step) and trial.value < model.value
            if fell or (length == 1 and _close(model, trial)):
                break
            length /= 2
        else:
            break
        x, model = x + length * step, trial
    bounded = np.isfinite(model.value) and model.value > -1e18 and abs(x).max() <= 1e10
    return Walk(x, model, nfev, bool(bounded), bool(abs(model.gradient).max() <= tol))


def _close(old: Model, new: Model) -> bool:  # given: where the values drown in rounding
    """Return whether the gradient has halved and the value is the same, up to rounding."""
    same = abs(new.value - old.value) <= 1e-12 * max(1.0, abs(old.value))
    return bool(same and abs(new.gradient).max() <= abs(old.gradient).max() / 2)


def quadratic_penalty(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], penalty: float) -> Model:
    r"""Return the quadratic penalty with its derivatives: equations (1) to (3).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        A point, feasible or not.
    penalty : float
        The weight $\rho$.

    Returns
    -------
    Model
        An inequality contributes to the Hessian only where it is violated.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> model = quadratic_penalty(hock_schittkowski()["HS12"], np.array([2.0, 3.5]), 2.0)
    >>> print(model.value, model.gradient)
    -20.6875 [95.5 43.5]
    """
    raise NotImplementedError("not written yet: quadratic_penalty")


def penalty_multipliers(
    problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], penalty: float
) -> tuple[Float[np.ndarray, " n_equalities"], Float[np.ndarray, " n_inequalities"]]:
    r"""Return the multipliers that a minimum of the quadratic penalty stands for: equation (2).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        A point.
    penalty : float
        The weight $\rho$.

    Returns
    -------
    equality, inequality : ndarray
        $\nu$ and $\lambda$.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> nu, lam = penalty_multipliers(hock_schittkowski()["HS14"], np.array([1.0, 0.9]), 5.0)
    >>> print(nu.round(4), lam.round(4))
    [1.] [0.3]
    """
    raise NotImplementedError("not written yet: penalty_multipliers")


def minimize_penalty(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    penalty: float = 1.0,
    growth: float = 10.0,
    tol: float = 1e-6,
    max_iter: int = 12,
    record_path: bool = False,
) -> ConstrainedResult:
    r"""Minimise under constraints by quadratic penalties of growing weight.

    Each round minimises (1) by `newton` with the tolerance `tol`, from where the last one ended, and multiplies the weight by
    `growth` afterwards.

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    start : array_like, optional
        Where to begin, instead of the problem's own start.
    penalty : float
        The first $\rho$.
    growth : float
        The factor between rounds, above 1.
    tol : float
        Converged when no constraint is violated by more, and no component of the Lagrangian's gradient exceeds it.
    max_iter : int
        The largest number of rounds.
    record_path : bool
        Whether to keep the point after each round.

    Returns
    -------
    ConstrainedResult
        `success` is true only for the message `CONVERGED`; the others are `DIVERGED`, if a round ended at something unbounded or
        not finite, and `OUT_OF_STEPS`. `nit` counts rounds, `nfev` evaluations of the objective. The multipliers are those of
        (2). `path` has the start, and a row for each round.

    Raises
    ------
    ValueError
        If `gradient_descent.check_arguments` refuses the start, `tol` or `max_iter`, `penalty` is not positive and
        finite, or `growth` not above 1 and finite.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> result = minimize_penalty(hock_schittkowski()["HS14"])
    >>> print(result.x.round(4), f"{result.fun:.4f}", result.inequality_multipliers.round(4), result.violation < 1e-6)
    [0.8229 0.9114] 1.3935 [1.8466] True
    """
    # given: the checks
    x = _begin(problem, start, "penalty", penalty, growth, tol=tol, max_iter=max_iter)
    raise NotImplementedError("not written yet: minimize_penalty")


def exact_penalty(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    direction: Float[np.ndarray, " dim"],
    penalty: float,
    *,
    tol: float = 1e-9,
) -> tuple[float, float]:
    r"""Return the exact penalty and its slope in a direction: equations (4) and (5).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        A point.
    direction : ndarray
        The direction $d$, of any length.
    penalty : float
        The weight $\rho$.
    tol : float
        In the slope, a constraint whose value is at most so large in size counts as zero.

    Returns
    -------
    value, slope : float
        The slope is that to the side of `direction`: to the other side it is, at a kink, not minus the same.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem = hock_schittkowski()["HS12"]
    >>> for move in (1.0, -1.0):
    ...     print(exact_penalty(problem, np.array([2.0, 3.0]), np.array([0.0, move]), 2.0))
    (-30.0, 9.0)
    (-30.0, 3.0)
    """
    raise NotImplementedError("not written yet: exact_penalty")


def log_barrier(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], t: float) -> Model:
    """Return the logarithmic barrier with its derivatives: equations (7) and (8).

    Parameters
    ----------
    problem : ConstrainedProblem
        With inequalities only.
    x : ndarray
        A point.
    t : float
        The weight of the objective.

    Returns
    -------
    Model
        The value is infinite, and the derivatives are NaN, unless all inequalities are strictly below zero.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem = hock_schittkowski()["HS12"]
    >>> model = log_barrier(problem, np.array([2.0, 2.0]), 3.0)
    >>> print(round(model.value, 4), model.gradient)
    -79.6094 [-17.8 -14.2]
    >>> print(log_barrier(problem, np.array([2.0, 3.0]), 3.0).value)
    inf
    """
    raise NotImplementedError("not written yet: log_barrier")


def barrier_multipliers(
    problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], t: float
) -> tuple[Float[np.ndarray, " n_inequalities"], float]:
    r"""Return the multipliers that a central point stands for, and its bound on the gap: equations (8) and (9).

    Parameters
    ----------
    problem : ConstrainedProblem
        With inequalities only.
    x : ndarray
        A point where all of them are below zero.
    t : float
        The weight of the objective.

    Returns
    -------
    multipliers : ndarray
        $\lambda$.
    gap : float
        $m / t$.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> multipliers, gap = barrier_multipliers(hock_schittkowski()["HS12"], np.array([2.0, 2.0]), 4.0)
    >>> print(multipliers, gap)
    [0.05] 0.25
    """
    raise NotImplementedError("not written yet: barrier_multipliers")


def phase_one(
    problem: ConstrainedProblem, start: Float[np.ndarray, " dim"], *, tol: float = 1e-6
) -> tuple[Float[np.ndarray, " dim"], bool, int]:
    r"""Look for a point at which all inequalities are below zero, by equation (10).

    A start that is inside is returned as it is. Otherwise $s$ begins at $s_0$, the largest $g_i$ plus 1, and `newton` minimises the
    barrier of (10) for $t = 1/s_0, 10/s_0, 100/s_0, \dots$ with the tolerance $10^{-6}\, t$, each from where the last ended, until it meets
    a point inside.

    Parameters
    ----------
    problem : ConstrainedProblem
        With inequalities only.
    start : ndarray
        Any point.
    tol : float
        Positive. The search gives up as soon as $m/t$ is below `tol`, or $s - m/t$ above zero at a central point.

    Returns
    -------
    x : ndarray
        The point found; if there is none, where the search ended.
    found : bool
        Whether all inequalities are below zero there.
    nfev : int
        Number of evaluations of the barrier.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem = hock_schittkowski()["HS76"]
    >>> x, found, _ = phase_one(problem, np.array([9.0, 9.0, 9.0, 9.0]))
    >>> print(found, bool(problem.inequalities(x).max() < 0))
    True True
    """
    raise NotImplementedError("not written yet: phase_one")


def minimize_barrier(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    t: float = 1.0,
    growth: float = 10.0,
    tol: float = 1e-6,
    max_iter: int = 20,
    record_path: bool = False,
) -> ConstrainedResult:
    r"""Minimise under inequalities by following the central points.

    Begins with `phase_one`. Each round minimises (7) by `newton` with the tolerance $\text{tol} \cdot t$, from where the last one ended, and
    multiplies $t$ by `growth` afterwards.

    Parameters
    ----------
    problem : ConstrainedProblem
        With inequalities only.
    start : array_like, optional
        Where to begin, instead of the problem's own start. It need not be inside.
    t : float
        The first weight of the objective.
    growth : float
        The factor between rounds, above 1.
    tol : float
        Converged when the gap $m/t$, and each component of the Lagrangian's gradient, is at most that.
    max_iter : int
        The largest number of rounds.
    record_path : bool
        Whether to keep the central points.

    Returns
    -------
    ConstrainedResult
        `success` is true only for the message `CONVERGED`; the others are `INFEASIBLE`, if `phase_one` found nothing; `DIVERGED`, if a
        round ended at something unbounded or not finite; and `OUT_OF_STEPS`. `nit` counts rounds, `nfev` evaluations of the
        barrier, those of `phase_one` included. The multipliers are those of (8), zeros after no round. `path` has
        the point from `phase_one`, and a row for each round.

    Raises
    ------
    ValueError
        If the problem has equalities, `gradient_descent.check_arguments` refuses the start, `tol` or `max_iter`, `tol` is 0, `t` is not
        positive and finite, or `growth` not above 1 and finite.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> result = minimize_barrier(hock_schittkowski()["HS76"])
    >>> print(result.x.round(4), f"{result.fun:.4f}", result.nit, result.success)
    [0.2727 2.0909 0.     0.5455] -4.6818 8 True
    """
    # given: the checks
    x = _begin(problem, start, "t", t, growth, tol=tol, max_iter=max_iter, barrier=True)
    raise NotImplementedError("not written yet: minimize_barrier")


def _relaxed(problem: ConstrainedProblem) -> ConstrainedProblem:  # given: the problem (10)
    """Return the problem of phase one, whose last variable is s."""

    def hess(y: Vector, nu: np.ndarray, lam: np.ndarray) -> Float[np.ndarray, "dim dim"]:
        matrix = np.zeros((len(y), len(y)))
        matrix[:-1, :-1] = problem.lagrangian_hess(y[:-1], nu, lam) - problem.hess(y[:-1])
        return matrix

    return replace(
        problem,
        fun=lambda y: float(y[-1]),
        grad=lambda y: np.eye(len(y))[-1],
        hess=lambda y: np.zeros((len(y), len(y))),
        equalities=lambda y: np.zeros(0),
        equality_jacobian=lambda y: np.zeros((0, len(y))),
        inequalities=lambda y: problem.inequalities(y[:-1]) - y[-1],
        inequality_jacobian=lambda y: np.column_stack(
            [b := problem.inequality_jacobian(y[:-1]), np.full(len(b), -1.0)]
        ),
        lagrangian_hess=hess,
        start=np.append(problem.start, 0.0),
        minimum=np.append(problem.minimum, np.nan),
    )


def _begin(
    problem: ConstrainedProblem,
    start: ArrayLike | None,
    name: str,
    weight: float,
    growth: float,
    *,
    tol: float,
    max_iter: int,
    barrier: bool = False,
) -> Float[np.ndarray, " dim"]:  # given: argument checks
    """Return the first point, or refuse the arguments."""
    if not 0 < weight < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {weight}")
    if not 1 < growth < np.inf:
        raise ValueError(f"growth must be above 1 and finite, got {growth}")
    start = problem.start if start is None else start
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)
    if barrier and tol == 0:
        raise ValueError("tol must be positive: no gap m/t is zero")
    if barrier and (n_equalities := len(problem.equalities(x))):
        raise ValueError(f"problem must have no equalities for a barrier, got {n_equalities}")
    return x


def _result(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nit: int,
    nfev: int,
    message: str,
    path: list[np.ndarray] | None,
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
) -> ConstrainedResult:  # given: what to report
    """Return the result at the last point."""
    return ConstrainedResult(
        x,
        float(problem.fun(x)),
        nit,
        nfev,
        message == CONVERGED,
        message,
        None if path is None else np.array(path),
        equality_multipliers=nu,
        inequality_multipliers=lam,
        violation=problem.violation(x),
    )
