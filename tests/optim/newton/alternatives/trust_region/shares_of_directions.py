"""Shares of directions instead of lengths, conjugate gradients written out, and a loop that keeps pairs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, HessianProduct, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.newton.damped import newton_step

Method = Literal["steihaug", "dogleg"]

STALLED = "stopped: the radius has shrunk below the rounding of x"


@dataclass(frozen=True)
class TrustResult(OptimizeResult):
    """What a minimisation by trust region ended with, beside what every result of this room holds."""

    radii: Float[np.ndarray, " nit"] = field(default_factory=lambda: np.zeros(0))
    ratios: Float[np.ndarray, " nit"] = field(default_factory=lambda: np.zeros(0))


def predicted_decrease(
    gradient: Float[np.ndarray, " dim"], product: Float[np.ndarray, " dim"], step: Float[np.ndarray, " dim"]
) -> float:
    """Return the decrease that the model promises, equation (2)."""
    return float(sum(-a * p - b * p / 2 for a, b, p in zip(gradient, product, step)))


def decrease_ratio(value: float, trial: float, predicted: float, *, rounding: float = 2e-15) -> float:
    r"""Return the actual decrease over the promised one, equation (3)."""
    if predicted > 0 and abs(trial) < np.inf:
        slack = abs(value * rounding)
        return 1 + (value - trial - predicted) / (predicted + slack)
    return -np.inf


def next_radius(radius: float, ratio: float, length: float, max_radius: float) -> float:
    """Return the radius for the next step, equation (4)."""
    at_border = length / radius >= 0.999
    factor = 0.25 if ratio < 0.25 else 2.0 if at_border and ratio > 0.75 else 1.0
    return min(factor * radius, max_radius)


def cauchy_step(
    gradient: Float[np.ndarray, " dim"], product: Float[np.ndarray, " dim"], radius: float
) -> Float[np.ndarray, " dim"]:
    """Return the step to the lowest point of the model in the ball straight downhill, equation (5)."""
    largest = abs(gradient).max()
    scaled = gradient / largest
    squared = float(scaled @ scaled)
    bend = float(scaled @ (product / largest)) / squared
    far = radius / (float(largest) * squared**0.5)
    share = far if bend <= 0 else min(1 / bend, far)
    return -(share * gradient)


def to_border(step: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"], radius: float) -> float:
    r"""Return how far one can go along a direction until the border is met, equation (6)."""
    size = float(np.abs(direction).max())
    d = direction / size
    a, b = float(d @ d), 2 * float(step @ d)
    inside = float(np.linalg.norm(step))
    c = -(radius - inside) * (radius + inside)
    q = -(b + np.copysign(max(b * b - 4 * a * c, 0.0) ** 0.5, b)) / 2
    roots = [q / a] + ([c / q] if q else [])
    return max(float(max(roots)), 0.0) / size


def dogleg(
    gradient: Float[np.ndarray, " dim"], hessian: Float[np.ndarray, "dim dim"], radius: float
) -> Float[np.ndarray, " dim"]:
    """Return the step along two legs, equation (7)."""
    first = cauchy_step(gradient, hessian @ gradient, radius)
    try:
        second = newton_step(gradient, hessian) - first
    except np.linalg.LinAlgError:
        return first
    inside = np.linalg.norm(first + second) <= radius
    return first + (1.0 if inside else to_border(first, second, radius)) * second


def steihaug(
    gradient: Float[np.ndarray, " dim"],
    hvp: Callable[[Vector], Vector],
    radius: float,
    *,
    tol: float = 1e-8,
    max_iter: int | None = None,
) -> Float[np.ndarray, " dim"]:
    r"""Return the step by conjugate gradients that end at the border, as described at (8)."""
    x, r = np.zeros_like(gradient), gradient.copy()
    d, rr = -r, float(r @ r)
    goal = tol * rr**0.5
    for _ in range(10 * len(gradient) if max_iter is None else max_iter):
        bd = hvp(d)
        curvature = float(d @ bd)
        far = to_border(x, d, radius)
        if curvature <= 0 or rr / curvature >= far:
            return x + far * d
        x, r = x + rr / curvature * d, r + rr / curvature * bd
        last, rr = rr, float(r @ r)
        if rr**0.5 <= goal:
            return x
        d = -r + rr / last * d
    return x


def minimize(
    fun: Objective,
    grad: Gradient,
    hvp: HessianProduct,
    start: ArrayLike,
    *,
    method: Method = "steihaug",
    radius: float = 1.0,
    max_radius: float = 1000.0,
    accept: float = 0.15,
    forcing: float = 0.5,
    tol: float = 1e-6,
    max_iter: int = 200,
    record_path: bool = False,
) -> TrustResult:
    r"""Minimise a function within a trust region."""
    x, grad, hvp = _checked(grad, hvp, start, method, radius, max_radius, accept, forcing, tol, max_iter)
    value, gradient, walked, history = float(fun(x)), grad(x), [x], []
    message = stopping(value, gradient, 0, tol=tol, max_iter=max_iter)
    while not message:
        step = _solve(gradient, lambda v, at=x: hvp(at, v), radius, method, forcing)
        if np.array_equal(x + step, x):
            message = STALLED
            continue
        trial, ratio = _judge(fun, x, value, gradient, step, hvp(x, step))
        history.append((radius, ratio))
        radius = next_radius(radius, ratio, float(np.linalg.norm(step)), max_radius)
        if ratio > accept:
            x = x + step
            value, gradient = trial, grad(x)
        walked.append(x)
        message = stopping(value, gradient, len(history), tol=tol, max_iter=max_iter)
    radii, ratios = np.array(history, dtype=float).reshape(-1, 2).T
    path = np.array(walked) if record_path else None
    return TrustResult(x, value, len(radii), len(radii) + 1, message == CONVERGED, message, path, radii, ratios)


def _judge(  # given
    fun: Objective, x: Vector, value: float, gradient: Vector, step: Vector, product: Vector
) -> tuple[float, float]:
    """Return the objective after a step, and the ratio (3), with ten units of rounding for its epsilon."""
    trial, predicted = float(fun(x + step)), predicted_decrease(gradient, product, step)
    return trial, decrease_ratio(value, trial, predicted, rounding=10 * float(np.finfo(x.dtype).eps))


def _solve(gradient: Vector, hvp: Callable, radius: float, method: Method, forcing: float) -> Vector:  # given
    """Return the step by the method that was asked for."""
    if method == "dogleg":
        hessian = hvp(np.eye(len(gradient), dtype=gradient.dtype))
        return dogleg(gradient, (hessian + hessian.T) / 2, radius)
    return steihaug(gradient, hvp, radius, tol=min(0.5, float(np.linalg.norm(gradient)) ** forcing))


def _checked(  # given: argument checks
    grad: Gradient,
    hvp: HessianProduct,
    start: ArrayLike,
    method: str,
    radius: float,
    max_radius: float,
    accept: float,
    forcing: float,
    tol: float,
    max_iter: int,
) -> tuple[Vector, Gradient, HessianProduct]:
    """Return the start, and derivatives that refuse results of no use, or raise a ValueError."""
    if method not in ("steihaug", "dogleg"):
        raise ValueError(f"method must be 'steihaug' or 'dogleg', got {method!r}")
    if not 0 < radius < np.inf:
        raise ValueError(f"radius must be positive and finite, got {radius}")
    if not radius <= max_radius < np.inf:
        raise ValueError(f"max_radius must be finite and at least radius, {radius}, got {max_radius}")
    if not 0 <= accept < 0.25:
        raise ValueError(f"accept must be at least 0 and below 1/4, got {accept}")
    if not 0 <= forcing < np.inf:
        raise ValueError(f"forcing must be non-negative and finite, got {forcing}")
    start = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)

    def checked(x: Vector, v: np.ndarray) -> np.ndarray:
        product = np.asarray(hvp(x, v), dtype=x.dtype)
        if product.shape != v.shape:
            raise ValueError(f"hvp must return shape {v.shape}, got {product.shape}")
        if not np.isfinite(product).all():
            raise ValueError(f"hvp must be finite, got {product} at {x}")
        return product

    return start, checked_gradient(grad), checked
