"""Outer products of a unit triangle, in float64 throughout; triples of errors; a walk kept in lists."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg.cholesky import cholesky, solve
from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.line_search import Ray, armijo_search

Hessian = Callable[[Vector], np.ndarray]
Method = Literal["modified", "identity", "pure"]

SADDLE = "stopped: the gradient has fallen to tol at a point that is no minimum, see `direction`"
STALLED = "stopped: no step along the direction was lower"


@dataclass(frozen=True)
class NewtonResult(OptimizeResult):
    """What a minimisation by Newton's method ended with, beside what every result of this room holds."""

    decrements: Float[np.ndarray, " nit"] = field(default_factory=lambda: np.zeros(0))
    direction: Float[np.ndarray, " dim"] | None = None


def newton_step(
    gradient: Float[np.ndarray, " dim"], hessian: Float[np.ndarray, "dim dim"]
) -> Float[np.ndarray, " dim"]:
    """Return Newton's step, equation (1)."""
    lower = cholesky(hessian)
    return -np.linalg.solve(lower.T, np.linalg.solve(lower, gradient))


def newton_decrement(gradient: Float[np.ndarray, " dim"], step: Float[np.ndarray, " dim"]) -> float:
    """Return the Newton decrement, equation (2)."""
    slope = sum(float(a) * float(b) for a, b in zip(gradient, step))
    return float("nan") if slope > 0 else float(np.sqrt(abs(slope)))


def estimate_order(errors: Float[np.ndarray, " n_errors"]) -> Float[np.ndarray, " n_orders"]:
    """Return the order of convergence that each three errors in a row tell, equation (5)."""
    if len(errors) < 3 or not np.all((errors > 0) & (errors < np.inf)):
        raise ValueError(f"errors must be at least three positive, finite numbers, got {errors}")
    triples = zip(errors[:-2], errors[1:-1], errors[2:])
    return np.array([np.log(c / b) / np.log(b / a) for a, b, c in triples])


def add_identity(
    hessian: Float[np.ndarray, "dim dim"], *, shift: float = 1e-3
) -> tuple[Float[np.ndarray, "dim dim"], float]:
    r"""Factorise a Hessian plus a multiple of the identity that makes it positive definite, by (6) and below."""
    largest = float(np.max(np.abs(hessian)))
    s = shift * largest if largest > 0 else shift
    smallest = float(min(hessian[i, i] for i in range(len(hessian))))
    multiple, trials = (s - smallest if smallest <= 0 else 0.0), 0
    while trials < 100:
        shifted = hessian.copy()
        shifted[np.diag_indices(len(hessian))] += multiple
        try:
            return cholesky(shifted), multiple
        except np.linalg.LinAlgError:
            multiple, trials = (s if multiple < s / 2 else 2 * multiple), trials + 1
    raise np.linalg.LinAlgError("nothing helps")


def modified_cholesky(
    hessian: Float[np.ndarray, "dim dim"], *, floor: float = 1e-8
) -> tuple[Float[np.ndarray, "dim dim"], Float[np.ndarray, " dim"]]:
    r"""Factorise a Hessian plus a diagonal that makes it positive definite, by (7) to (9)."""
    n = len(hessian)
    size = np.abs(hessian)
    gamma = float(np.diag(size).max())
    xi = float((size - np.diag(np.diag(size))).max()) if n > 1 else 0.0
    beta = max(gamma, xi / np.sqrt(n * n - 1) if n > 1 else 0.0) ** 0.5
    delta = floor * (max(gamma, xi) if max(gamma, xi) > 0 else 1.0)
    rest, unit = hessian.astype(np.float64), np.eye(n)
    pivots, added = np.zeros(n), np.zeros(n)
    for j in range(n):
        theta = float(np.abs(rest[j + 1 :, j]).max()) if j + 1 < n else 0.0
        pivots[j] = max(abs(rest[j, j]), (theta / beta) ** 2 if beta > 0 else 0.0, delta)
        added[j] = pivots[j] - rest[j, j]
        unit[j + 1 :, j] = rest[j + 1 :, j] / pivots[j]
        rest[j + 1 :, j + 1 :] -= pivots[j] * np.outer(unit[j + 1 :, j], unit[j + 1 :, j])
    return (unit * np.sqrt(pivots)).astype(hessian.dtype), added.astype(hessian.dtype)


def saddle_direction(
    hessian: Float[np.ndarray, "dim dim"], gradient: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, " dim"] | None:
    """Return a direction along which the function curves downwards, by (10), if there is one."""
    values, vectors = np.linalg.eigh(hessian)
    least = int(np.argmin(values))
    if values[least] >= -1e-8 * max(abs(values[0]), abs(values[-1])):
        return None
    slope = float(gradient @ vectors[:, least])
    return vectors[:, least] * (1.0 if slope <= 0 else -1.0)


def minimize(
    fun: Objective,
    grad: Gradient,
    hess: Hessian,
    start: ArrayLike,
    *,
    method: Method = "modified",
    decrease: float = 1e-4,
    tol: float = 1e-6,
    max_iter: int = 100,
    record_path: bool = False,
) -> NewtonResult:
    """Minimise a function by Newton's method."""
    x, grad, hess = _checked(grad, hess, start, method, decrease, tol, max_iter)
    points, values, gradient, nfev, decrements, out = [x], [float(fun(x))], grad(x), 1, [], None
    while True:
        x = points[-1]
        message = stopping(values[-1], gradient, len(points) - 1, tol=tol, max_iter=max_iter)
        if message == CONVERGED:
            out = saddle_direction(hess(x), gradient)
            message = CONVERGED if out is None else SADDLE
        if message is not None:
            break
        direction = _direction(gradient, hess(x), method)
        found = _search(fun, grad, x, direction, values[-1], gradient, method, decrease)
        nfev += found[3]
        if not found[0] > 0:
            message = STALLED
            break
        decrements.append(newton_decrement(gradient, direction))
        points.append(x + found[0] * direction)
        values.append(found[1])
        gradient = found[2]
    path = np.array(points) if record_path else None
    return NewtonResult(
        x, values[-1], len(points) - 1, nfev, message == CONVERGED, message, path, np.array(decrements), out
    )


def _direction(gradient: Vector, hessian: np.ndarray, method: Method) -> Vector:  # given
    """Return the direction of a step, by the method that was asked for."""
    if method == "pure":
        return -np.linalg.solve(hessian, gradient)
    lower, _ = modified_cholesky(hessian) if method == "modified" else add_identity(hessian)
    return -solve(lower, gradient)


def _search(  # given
    fun: Objective,
    grad: Gradient,
    x: Vector,
    direction: Vector,
    value: float,
    gradient: Vector,
    method: Method,
    decrease: float,
) -> tuple[float, float, Vector, int]:
    """Return step size, value and gradient after the step, and how often the objective was evaluated."""
    slope = float(gradient @ direction)
    if method == "pure" or 0 <= -slope <= 100 * np.finfo(x.dtype).eps * abs(value):
        full = x + direction
        return 1.0, float(fun(full)), grad(full), 1
    if not -np.inf < slope < 0:
        return 0.0, value, gradient, 0
    found = armijo_search(Ray(fun, grad, x, direction, value=value, gradient=gradient), decrease=decrease)
    return (found.step_size if found.value < value else 0.0), found.value, found.gradient, found.nfev


def _checked(  # given: argument checks
    grad: Gradient, hess: Hessian, start: ArrayLike, method: str, decrease: float, tol: float, max_iter: int
) -> tuple[Vector, Gradient, Hessian]:
    """Return the start, and derivatives that refuse results of no use, or raise a ValueError."""
    if method not in ("modified", "identity", "pure"):
        raise ValueError(f"method must be 'modified', 'identity' or 'pure', got {method!r}")
    if not 0 < decrease < 0.5:
        raise ValueError(f"decrease must lie between 0 and 1/2, got {decrease}")
    start = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)

    def checked(x: Vector) -> np.ndarray:
        hessian = np.asarray(hess(x), dtype=x.dtype)
        if hessian.shape != (len(x), len(x)):
            raise ValueError(f"hess must return shape {(len(x), len(x))}, got {hessian.shape}")
        if not np.isfinite(hessian).all():
            raise ValueError(f"hess must be finite, got {hessian} at {x}")
        if abs(hessian - hessian.T).max() > 1e-5 * abs(hessian).max():
            raise ValueError(f"hess must be symmetric, got {hessian} at {x}")
        return (hessian + hessian.T) / 2

    return start, checked_gradient(grad), checked
