"""A generator of points, searches that keep all their trials, corners by dictionary order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, HessianProduct, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.projected_gradient.projections import Projection

Oracle = Callable[[Vector], Vector]

CONVERGED = "converged: the gradient mapping, or the gap, is within tol"
DIVERGED = "diverged: the objective or its gradient is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the measure fell to tol"
STALLED = "stopped: no trial step satisfied the Armijo condition"


@dataclass(frozen=True)
class ArcSearch:
    step_size: float
    x: Float[np.ndarray, " dim"]
    value: float
    nfev: int


@dataclass(frozen=True)
class FrankWolfeResult(OptimizeResult):
    gap: float = np.inf


def projected_step(
    x: Float[np.ndarray, " dim"], gradient: Float[np.ndarray, " dim"], project: Projection, step_size: float
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    move = project(x - step_size * gradient) - x
    return x + move, -move / step_size


def arc_search(
    fun: Objective,
    x: Float[np.ndarray, " dim"],
    value: float,
    gradient: Float[np.ndarray, " dim"],
    project: Projection,
    *,
    step_size: float = 1.0,
    shrink: float = 0.5,
    decrease: float = 1e-4,
    max_trials: int = 60,
) -> ArcSearch:
    if not 0 < step_size < np.inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not (0 < shrink < 1 and 0 < decrease < 1):
        raise ValueError(f"shrink and decrease must lie between 0 and 1, got {shrink} and {decrease}")
    if max_trials < 1:
        raise ValueError(f"max_trials must be at least 1, got {max_trials}")
    nfev, length = 0, step_size
    while nfev < max_trials:
        end = project(x - length * gradient)
        reached, nfev = float(fun(end)), nfev + 1
        gain = value - reached
        if 0 < gain < np.inf and gain >= decrease * (gradient @ x - gradient @ end):
            return ArcSearch(length, end, reached, nfev)
        length = step_size * shrink**nfev
    return ArcSearch(0.0, x, value, nfev)


def projected_gradient(
    fun: Objective,
    grad: Gradient,
    project: Projection,
    start: ArrayLike,
    *,
    rule: Literal["fixed", "armijo"] = "fixed",
    step_size: float = 1.0,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    if rule not in ("fixed", "armijo"):
        raise ValueError(f"rule must be 'fixed' or 'armijo', got {rule!r}")
    grad, project = checked_gradient(grad), _checked(project, "project")
    points, nfev, message = [project(x)], 1, None
    value = float(fun(points[0]))
    for nit in range(max_iter + 1):
        x = points[-1]
        gradient = grad(x)
        end = project(x - step_size * gradient)
        message = _reason(value, (end - x) / step_size, nit, tol=tol, max_iter=max_iter)
        if message:
            break
        if rule == "fixed":
            points.append(end)
            value, nfev = float(fun(end)), nfev + 1
            continue
        search = arc_search(fun, x, value, gradient, project, step_size=step_size)
        nfev += search.nfev
        if not search.step_size:
            message = STALLED
            break
        points.append(search.x)
        value = search.value
    path = np.array(points) if record_path else None
    return OptimizeResult(points[-1], value, len(points) - 1, nfev, message == CONVERGED, str(message), path)


def box_vertex(gradient: Float[np.ndarray, " dim"], lower: ArrayLike, upper: ArrayLike) -> Float[np.ndarray, " dim"]:
    low, high = (np.broadcast_to(np.asarray(b, dtype=gradient.dtype), gradient.shape) for b in (lower, upper))
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all()):
        raise ValueError(f"lower and upper must be finite, and lower at most upper, got {lower} and {upper}")
    corner = high.copy()
    corner[gradient >= 0] = low[gradient >= 0]
    return corner


def simplex_vertex(gradient: Float[np.ndarray, " dim"], radius: float = 1.0) -> Float[np.ndarray, " dim"]:
    vertex = np.zeros_like(gradient)
    vertex[gradient.argmin()] = radius
    return vertex


def polytope_vertex(
    gradient: Float[np.ndarray, " dim"], vertices: Float[np.ndarray, "n_vertices dim"]
) -> Float[np.ndarray, " dim"]:
    return vertices[(vertices @ gradient).argmin()].astype(gradient.dtype)


def l1_ball_vertex(gradient: Float[np.ndarray, " dim"], radius: float = 1.0) -> Float[np.ndarray, " dim"]:
    _check_radius(radius)
    both = np.concatenate([gradient, -gradient])  # the simplex of positive and negative parts
    corner = simplex_vertex(both, radius)
    return corner[: len(gradient)] - corner[len(gradient) :]


def ball_point(
    gradient: Float[np.ndarray, " dim"], radius: float = 1.0, *, center: ArrayLike = 0.0
) -> Float[np.ndarray, " dim"]:
    _check_radius(radius)
    middle = np.broadcast_to(np.asarray(center, dtype=gradient.dtype), gradient.shape)
    largest = abs(gradient).max()
    if largest == 0:
        return middle.copy()
    direction = gradient / largest
    return middle - float(radius) * (direction / np.linalg.norm(direction))


def segment_step(gradient: Vector, towards: Vector, product: Vector) -> float:
    slope, bend = float(gradient @ towards), float(towards @ product)
    if slope >= 0:
        return 0.0
    return min(1.0, -slope / bend) if bend > 0 else 1.0


def frank_wolfe(
    fun: Objective,
    grad: Gradient,
    vertex: Oracle,
    start: ArrayLike,
    *,
    rule: Literal["classic", "exact"] = "classic",
    hvp: HessianProduct | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> FrankWolfeResult:
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    if rule not in ("classic", "exact") or (rule == "exact" and hvp is None):
        raise ValueError(f"rule must be 'classic', or 'exact' with hvp, got {rule!r}")
    grad, vertex = checked_gradient(grad), _checked(vertex, "vertex")
    path, message, value, gap = [x], None, 0.0, np.inf
    for nit in range(max_iter + 1):
        value, gradient = float(fun(x)), grad(x)
        corner = vertex(gradient)
        gap = float(gradient @ x - gradient @ corner)
        message = _reason(value, gap, nit, tol=tol, max_iter=max_iter)
        if message:
            break
        share = segment_step(gradient, corner - x, hvp(x, corner - x)) if rule == "exact" and hvp else 1 / (1 + nit / 2)
        x = (1 - share) * x + share * corner
        path.append(x)
    nit, rows = len(path) - 1, np.array(path) if record_path else None
    return FrankWolfeResult(x, value, nit, nit + 1, message == CONVERGED, str(message), rows, gap)


def _reason(value: float, measure: ArrayLike, nit: int, *, tol: float, max_iter: int) -> str | None:
    if not (np.isfinite(value) and np.isfinite(measure).all()):
        return DIVERGED
    if np.max(np.abs(measure)) <= tol:
        return CONVERGED
    return OUT_OF_STEPS if nit >= max_iter else None


def _check_radius(radius: float) -> None:
    if not 0 < radius < np.inf:
        raise ValueError(f"radius must be positive and finite, got {radius}")


def _checked(function: Callable[[Vector], Vector], name: str) -> Callable[[Vector], Vector]:
    def checked(x: Vector) -> Vector:
        if not np.isfinite(x).all():
            return np.full_like(x, np.nan)
        found = np.asarray(function(x), dtype=x.dtype)
        if found.shape != x.shape:
            raise ValueError(f"{name} must return shape {x.shape}, got {found.shape}")
        return found

    return checked
