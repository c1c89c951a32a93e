"""The KKT system solved as it stands, a basis by QR, multipliers by the pseudoinverse."""

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
    """What the second derivatives say about a point where the first-order conditions hold."""

    eigenvalues: Float[np.ndarray, " n_free"]
    inertia: tuple[int, int, int]
    kind: str


@dataclass(frozen=True)
class Sensitivity:
    """How the solution moves with the right-hand sides $b$ of the constraints $h(x) = b$."""

    value: Float[np.ndarray, " n_constraints"]
    point: Float[np.ndarray, "dim n_constraints"]
    multipliers: Float[np.ndarray, "n_constraints n_constraints"]


@dataclass(frozen=True)
class Point:
    """A point, with what the problem says about it."""

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
    """Return the gradient of the Lagrangian in x: equation (1)."""
    total = gradient.copy()
    for row, multiplier in zip(jacobian, multipliers):
        total = total + multiplier * row
    return total


def least_squares_multipliers(
    gradient: Float[np.ndarray, " dim"], jacobian: Float[np.ndarray, "n_constraints dim"]
) -> Float[np.ndarray, " n_constraints"]:
    """Return the multipliers that make the Lagrangian's gradient as short as can be: equation (3)."""
    return -np.linalg.pinv(jacobian.T) @ gradient


def tangent_basis(jacobian: Float[np.ndarray, "n_constraints dim"]) -> Float[np.ndarray, "dim n_free"]:
    """Return an orthonormal basis of the directions that all constraints' gradients are orthogonal to."""
    n_constraints, dim = jacobian.shape
    lengths = abs(jacobian).max(axis=1)
    if n_constraints > dim or (lengths == 0).any():
        raise np.linalg.LinAlgError("dependent rows")
    rows = jacobian / lengths[:, None]
    if np.linalg.matrix_rank(rows) < n_constraints:
        raise np.linalg.LinAlgError("dependent rows")
    return np.linalg.qr(rows.T, mode="complete")[0][:, n_constraints:]


def solve_kkt(
    hessian: Float[np.ndarray, "dim dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    gradient: Float[np.ndarray, " dim"],
    residual: Float[np.ndarray, " n_constraints"],
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " n_constraints"]]:
    """Solve the KKT system (4): where is a quadratic stationary on linear constraints?"""
    _check_system(hessian, jacobian, gradient=gradient, residual=residual)
    basis, dim = tangent_basis(jacobian), len(hessian)
    if np.linalg.matrix_rank(basis.T @ hessian @ basis) < basis.shape[1]:
        raise np.linalg.LinAlgError("singular")
    answer = np.linalg.solve(_matrix(hessian, jacobian), -np.concatenate([gradient, residual]))
    return answer[:dim], answer[dim:]


def second_order(
    hessian: Float[np.ndarray, "dim dim"], jacobian: Float[np.ndarray, "n_constraints dim"], *, tol: float = 1e-8
) -> SecondOrder:
    """Classify a point where the first-order conditions hold, by equations (6) and (7)."""
    _check_system(hessian, jacobian)
    basis, rows = tangent_basis(jacobian), len(jacobian)
    values = np.sort(np.linalg.eigvals(basis.T @ hessian @ basis).real)
    signs = np.where(abs(values) <= tol * abs(hessian).max(), 0, np.sign(values))
    found = set(signs.tolist())
    kind = "saddle" if found >= {1, -1} else "undecided" if 0 in found else "maximum" if found == {-1} else "minimum"
    plus, minus, null = (int((signs == sign).sum()) + rows * abs(sign) for sign in (1, -1, 0))
    return SecondOrder(values, (plus, minus, null), kind)


def sensitivity(
    hessian: Float[np.ndarray, "dim dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    multipliers: Float[np.ndarray, " n_constraints"],
) -> Sensitivity:
    """Return how a solution moves with the right-hand sides of its constraints: equations (8) and (9)."""
    _check_system(hessian, jacobian, multipliers=multipliers)
    tangent_basis(jacobian)
    dim = len(hessian)
    inverse = np.linalg.inv(_matrix(hessian, jacobian))
    return Sensitivity(-multipliers, inverse[:dim, dim:], inverse[dim:, dim:])


def newton_step(
    hessian: Float[np.ndarray, "dim dim"],
    jacobian: Float[np.ndarray, "n_constraints dim"],
    gradient: Float[np.ndarray, " dim"],
    residual: Float[np.ndarray, " n_constraints"],
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " n_constraints"], float]:
    r"""Solve the KKT system with a Hessian that is shifted until its minimum on the constraints exists: equation (10)."""
    _check_system(hessian, jacobian, gradient=gradient, residual=residual)
    basis = tangent_basis(jacobian)
    values = np.linalg.eigvalsh(basis.T @ hessian @ basis)
    floor = 1e-8 * abs(hessian).max() if hessian.any() else 1e-8
    shift = 0.0
    if len(values) and values[0] < floor:
        shift = float(-2 * values[0] if -values[0] > floor else floor - values[0])
    step, multipliers = solve_kkt(
        hessian + np.diag(np.full(len(hessian), shift, hessian.dtype)), jacobian, gradient, residual
    )
    return step, multipliers, shift


def minimize(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    line_search: bool = True,
    tol: float = 1e-8,
    max_iter: int = 100,
    record_path: bool = False,
) -> ConstrainedResult:
    """Minimise a function under equality constraints by Newton's method on the KKT conditions."""
    start = check_arguments(problem.start if start is None else start, step_size=1.0, tol=tol, max_iter=max_iter)
    at = _evaluate(problem, start.astype(float))
    if len(problem.inequalities(at.x)):
        raise ValueError("problem must have no inequalities")
    nfev, penalty, path, message = 1, 1.0, [at.x], None
    for nit in range(max_iter + 1):
        message = _stopping(at, nit, tol=tol, max_iter=max_iter)
        if message is not None:
            break
        hessian = problem.lagrangian_hess(at.x, at.multipliers, NONE)
        try:
            newton = newton_step(hessian, at.jacobian, at.gradient, at.residual)
            if not line_search:
                newton = (*solve_kkt(hessian, at.jacobian, at.gradient, at.residual), None)
        except np.linalg.LinAlgError:
            message = SINGULAR
            break
        new, penalty, trials = _search(problem, at, hessian, newton, penalty)
        nfev += trials
        if new is None:
            message = STALLED
            break
        at = new
        path.append(at.x)
    return _result(problem, at, len(path) - 1, nfev, message or OUT_OF_STEPS, path if record_path else None)


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
    """Return the point after the first good step, or None, with the penalty used and the number of trials."""
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


def _matrix(hessian, jacobian):
    """Return the matrix of (4)."""
    return np.block([[hessian, jacobian.T], [jacobian, np.zeros((len(jacobian),) * 2, hessian.dtype)]])
