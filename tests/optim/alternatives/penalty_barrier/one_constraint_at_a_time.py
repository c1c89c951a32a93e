"""Constraint by constraint in loops, early returns, for loops over rounds."""

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
    """A function at a point, with its first and second derivatives."""

    value: float
    gradient: Float[np.ndarray, " dim"]
    hessian: Float[np.ndarray, "dim dim"]


@dataclass(frozen=True)
class Walk:
    """Where Newton's method ended."""

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
    """Minimise a function by Newton's method with halved steps, and the sizes of the Hessian's eigenvalues for the eigenvalues."""
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
    r"""Return the quadratic penalty with its derivatives: equations (1) to (3)."""
    value, gradient = float(problem.fun(x)), np.array(problem.grad(x))
    nu, lam = penalty_multipliers(problem, x, penalty)
    hessian = np.array(problem.lagrangian_hess(x, nu, lam))
    for h, row in zip(problem.equalities(x), problem.equality_jacobian(x)):
        value += penalty * h**2 / 2
        gradient = gradient + penalty * h * row
        hessian = hessian + penalty * np.outer(row, row)
    for g, row in zip(problem.inequalities(x), problem.inequality_jacobian(x)):
        if g > 0:
            value += penalty * g**2 / 2
            gradient = gradient + penalty * g * row
            hessian = hessian + penalty * np.outer(row, row)
    return Model(float(value), gradient, hessian)


def penalty_multipliers(
    problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], penalty: float
) -> tuple[Float[np.ndarray, " n_equalities"], Float[np.ndarray, " n_inequalities"]]:
    r"""Return the multipliers that a minimum of the quadratic penalty stands for: equation (2)."""
    g = problem.inequalities(x)
    return np.array(problem.equalities(x)) * penalty, np.where(g > 0, g, 0.0) * penalty


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
    r"""Minimise under constraints by quadratic penalties of growing weight."""
    x = _begin(problem, start, "penalty", penalty, growth, tol=tol, max_iter=max_iter)
    nfev, path, message, weight = 0, [x], OUT_OF_STEPS, penalty
    for _ in range(max_iter):
        weight = penalty * growth ** (len(path) - 1)
        walk = newton(lambda y, weight=weight: quadratic_penalty(problem, y, weight), x, tol=tol)
        x = walk.x
        nfev += walk.nfev
        path.append(x)
        if not walk.bounded:
            message = DIVERGED
            break
        if walk.converged and not problem.violation(x) > tol:
            message = CONVERGED
            break
    nu, lam = penalty_multipliers(problem, x, weight)
    return _result(problem, x, len(path) - 1, nfev, message, path if record_path else None, nu, lam)


def exact_penalty(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    direction: Float[np.ndarray, " dim"],
    penalty: float,
    *,
    tol: float = 1e-9,
) -> tuple[float, float]:
    r"""Return the exact penalty and its slope in a direction: equations (4) and (5)."""
    value, slope = problem.fun(x), problem.grad(x) @ direction
    for h, row in zip(problem.equalities(x), problem.equality_jacobian(x)):
        value = value + penalty * abs(h)
        slope = slope + penalty * (abs(row @ direction) if abs(h) <= tol else np.sign(h) * (row @ direction))
    for g, row in zip(problem.inequalities(x), problem.inequality_jacobian(x)):
        value = value + penalty * max(g, 0.0)
        if g > tol:
            slope = slope + penalty * (row @ direction)
        elif g >= -tol:
            slope = slope + penalty * max(row @ direction, 0.0)
    return float(value), float(slope)


def log_barrier(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], t: float) -> Model:
    """Return the logarithmic barrier with its derivatives: equations (7) and (8)."""
    values, rows = problem.inequalities(x), problem.inequality_jacobian(x)
    if len(values) and values.max() >= 0:
        return Model(np.inf, np.full(len(x), np.nan), np.full((len(x),) * 2, np.nan))
    value, gradient = t * problem.fun(x), t * problem.grad(x)
    hessian = t * problem.lagrangian_hess(x, np.zeros(0), 1 / (t * -values))
    for g, row in zip(values, rows):
        value = value - np.log(-g)
        gradient = gradient - row / g
        hessian = hessian + np.outer(row / g, row / g)
    return Model(float(value), gradient, hessian)


def barrier_multipliers(
    problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], t: float
) -> tuple[Float[np.ndarray, " n_inequalities"], float]:
    r"""Return the multipliers that a central point stands for, and its bound on the gap: equations (8) and (9)."""
    values = problem.inequalities(x)
    return np.array([1 / (t * -g) for g in values]), len(values) / t


def phase_one(
    problem: ConstrainedProblem, start: Float[np.ndarray, " dim"], *, tol: float = 1e-6
) -> tuple[Float[np.ndarray, " dim"], bool, int]:
    r"""Look for a point at which all inequalities are below zero, by equation (10)."""
    if (problem.inequalities(start) < 0).all():
        return start.copy(), True, 0
    relaxed = _relaxed(problem)
    first = float(problem.inequalities(start).max()) + 1
    point, nfev = np.append(start, first), 0
    for power in range(100):
        t = 10.0**power / first
        walk = newton(
            lambda y, t=t: log_barrier(relaxed, y, t),
            point,
            tol=1e-6 * t,
            enough=lambda y: bool((problem.inequalities(y[:-1]) < 0).all()),
        )
        point, nfev = walk.x, nfev + walk.nfev
        if (problem.inequalities(point[:-1]) < 0).all():
            return point[:-1], True, nfev
        gap = len(problem.inequalities(start)) / t
        if gap < tol or (point[-1] > gap and walk.converged):
            break
    return point[:-1], False, nfev


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
    r"""Minimise under inequalities by following the central points."""
    x = _begin(problem, start, "t", t, growth, tol=tol, max_iter=max_iter, barrier=True)
    x, found, nfev = phase_one(problem, x)
    path, lam = [x], np.zeros(len(problem.inequalities(x)))
    message = OUT_OF_STEPS if found else INFEASIBLE
    for nit in range(max_iter if found else 0):
        weight = t * growth**nit
        walk = newton(lambda y, weight=weight: log_barrier(problem, y, weight), x, tol=tol * weight)
        x, nfev = walk.x, nfev + walk.nfev
        path.append(x)
        lam, gap = barrier_multipliers(problem, x, weight)
        if not walk.bounded or not problem.fun(x) > -1e12:
            message = DIVERGED
            break
        if gap <= tol and walk.converged:
            message = CONVERGED
            break
    return _result(problem, x, len(path) - 1, nfev, message, path if record_path else None, np.zeros(0), lam)


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
