"""A quadratic penalty for moved constraints, progress by the change of the multipliers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.penalty_barrier import Model, newton

CONVERGED = (
    "converged: the constraints, their products with the multipliers, and the Lagrangian's gradient are within tol"
)
OUT_OF_STEPS = "stopped: max_iter rounds were made before that"
INFEASIBLE = "stopped: at a point of locally least violation"
DIVERGED = "diverged: the augmented Lagrangian falls for ever, or is not finite, at every weight"
LARGEST = 1e10  # a weight beyond which nothing is tried


@dataclass(frozen=True, kw_only=True)
class AugmentedResult(ConstrainedResult):
    """How the method of multipliers ended."""

    penalty: float


def augmented_lagrangian(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> Model:
    r"""Return the augmented Lagrangian with its derivatives: equations (2), (3) and (5)."""
    # the squares completed: a quadratic penalty for constraints that are moved by multiplier over weight
    h, g = problem.equalities(x) + nu / penalty, np.maximum(problem.inequalities(x) + lam / penalty, 0.0)
    value = problem.fun(x) + penalty / 2 * (sum(h**2) + sum(g**2)) - (sum(nu**2) + sum(lam**2)) / (2 * penalty)
    gradient = np.array(problem.grad(x))
    hessian = np.array(problem.lagrangian_hess(x, penalty * h, penalty * g))
    for moved, row in zip(h, problem.equality_jacobian(x)):
        gradient = gradient + penalty * moved * row
        hessian = hessian + penalty * np.outer(row, row)
    for moved, row in zip(g, problem.inequality_jacobian(x)):
        if moved > 0:
            gradient = gradient + penalty * moved * row
            hessian = hessian + penalty * np.outer(row, row)
    return Model(float(value), gradient, hessian)


def update_multipliers(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> tuple[Float[np.ndarray, " n_equalities"], Float[np.ndarray, " n_inequalities"]]:
    r"""Return the next multipliers: equation (4)."""
    moved = lam + penalty * problem.inequalities(x)
    return penalty * (problem.equalities(x) + nu / penalty), np.where(moved > 0, moved, 0.0)


def progress(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> float:
    r"""Return by how much feasibility and complementarity fail: equation (7)."""
    new_nu, new_lam = update_multipliers(problem, x, np.zeros(len(problem.equalities(x))), lam, penalty)
    return float(max([0.0, *abs(new_nu), *abs(new_lam - lam)])) / penalty


def next_penalty(penalty: float, now: float, before: float) -> float:
    r"""Return the weight of the next round."""
    return 10 * penalty if now > 0.25 * before else penalty


def inner_tolerance(nit: int, tol: float) -> float:
    """Return the largest gradient component with which a round may end: equation (8)."""
    tolerance = 0.1
    for _ in range(nit):
        tolerance = tolerance / 10
    return tolerance if tolerance > tol else tol


def contraction(
    hessian: Float[np.ndarray, "dim dim"], jacobian: Float[np.ndarray, "n_equalities dim"], penalty: float
) -> float:
    r"""Return the factor by which a round multiplies the error of equalities' multipliers: that of (6)."""
    n = len(jacobian)
    columns = [np.linalg.inv(hessian + penalty * jacobian.T @ jacobian) @ row for row in jacobian]
    return float(np.linalg.norm(np.eye(n) - penalty * jacobian @ np.array(columns).T, 2))


def violation_slope(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:
    """Return the gradient of half the sum of all squared violations: the left side of (9)."""
    slope = np.zeros(len(x))
    for h, row in zip(problem.equalities(x), problem.equality_jacobian(x)):
        slope = slope + h * row
    for g, row in zip(problem.inequalities(x), problem.inequality_jacobian(x)):
        slope = slope + max(g, 0.0) * row
    return slope


def minimize(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    penalty: float = 10.0,
    tol: float = 1e-6,
    max_iter: int = 50,
    record_path: bool = False,
) -> AugmentedResult:
    r"""Minimise under constraints by the method of multipliers."""
    x = _begin(problem, start, penalty, tol=tol, max_iter=max_iter)
    nu, lam = np.zeros(len(problem.equalities(x))), np.zeros(len(problem.inequalities(x)))
    nfev, before, path, message, weight = 0, np.inf, [x], OUT_OF_STEPS, penalty
    for nit in range(max_iter):
        penalty = weight
        walk = newton(
            lambda y, nu=nu, lam=lam, rho=weight: augmented_lagrangian(problem, y, nu, lam, rho),
            x,
            tol=inner_tolerance(nit, tol),
        )
        nfev += walk.nfev
        if not walk.bounded:
            path.append(x)
            weight = weight * 10
            if weight > LARGEST:
                message = DIVERGED
                break
            continue
        x = walk.x
        path.append(x)
        now = progress(problem, x, lam, weight)
        nu, lam = update_multipliers(problem, x, nu, lam, weight)
        message = _verdict(problem, x, now, walk.model.gradient, tol)
        weight, before = next_penalty(weight, now, before), now
        if message != OUT_OF_STEPS or weight > LARGEST:
            break
    return _result(problem, x, len(path) - 1, nfev, message, path if record_path else None, nu, lam, penalty)


def _begin(
    problem: ConstrainedProblem, start: ArrayLike | None, penalty: float, *, tol: float, max_iter: int
) -> Float[np.ndarray, " dim"]:  # given: argument checks
    """Return the first point, or refuse the arguments."""
    if not 0 < penalty < np.inf:
        raise ValueError(f"penalty must be positive and finite, got {penalty}")
    start = problem.start if start is None else start
    return check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)


def _verdict(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    now: float,
    gradient: Float[np.ndarray, " dim"],
    tol: float,
) -> str:  # given: the reasons to stop
    """Return CONVERGED or INFEASIBLE, or else OUT_OF_STEPS, which means to go on as long as there are rounds left."""
    if max(now, abs(gradient).max()) <= tol:
        return CONVERGED
    violation = problem.violation(x)
    least = violation > tol and abs(violation_slope(problem, x)).max() <= 1e-6 * violation
    return INFEASIBLE if least else OUT_OF_STEPS


def _result(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nit: int,
    nfev: int,
    message: str,
    path: list[np.ndarray] | None,
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> AugmentedResult:  # given: what to report
    """Return the result at the last point."""
    return AugmentedResult(
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
        penalty=penalty,
    )
