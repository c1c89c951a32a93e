"""Both methods in terms of a velocity; the rate from companion matrices; the walk as a generator."""

from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping


@dataclass(frozen=True)
class State:
    x: np.ndarray
    previous: np.ndarray


def _velocity(state):
    return np.subtract(state.x, state.previous)


def heavy_ball_step(state, gradient, *, step_size, momentum):
    velocity = momentum * _velocity(state) - step_size * gradient
    return State(x=state.x + velocity, previous=state.x.copy())


def lookahead(state, momentum):
    return (1 + momentum) * state.x - momentum * state.previous


def nesterov_step(state, gradient, *, step_size, momentum):
    return heavy_ball_step(state, gradient, step_size=step_size, momentum=momentum)


def optimal_coefficients(convexity, smoothness, method):
    _check_method(method)
    if not (np.isfinite(convexity) and convexity > 0):
        raise ValueError(f"convexity {convexity}")
    if not (np.isfinite(smoothness) and smoothness >= convexity):
        raise ValueError(f"smoothness {smoothness}")
    root = (smoothness / convexity) ** 0.5
    if method == "nesterov":
        return 1 / smoothness, (root - 1) / (root + 1)
    return 4 / convexity / (root + 1) ** 2, ((root - 1) / (root + 1)) ** 2


def rate(spectrum, *, step_size, momentum, method):
    _check_method(method)
    matrices = np.zeros((len(spectrum), 2, 2))
    matrices[:, 1, 0] = 1
    slide = 1 - step_size * spectrum
    if method == "heavy_ball":
        matrices[:, 0, 0], matrices[:, 0, 1] = slide + momentum, -momentum
    else:
        matrices[:, 0, 0], matrices[:, 0, 1] = slide + slide * momentum, -momentum * slide
    return float(np.abs(np.linalg.eigvals(matrices)).max())


def next_momentum(t):
    following = 0.5 + float(np.hypot(0.5, t))
    return following, (t - 1) / following


def must_restart(state, gradient):
    return bool(np.sum(gradient * _velocity(state)) > 0)


def minimize(
    fun,
    grad,
    start,
    *,
    step_size,
    momentum=None,
    method="nesterov",
    restart=False,
    tol=1e-6,
    max_iter=1000,
    record_path=False,
):
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    _check_method(method)
    if momentum is None and method == "heavy_ball":
        raise ValueError("momentum is missing")
    if momentum is not None and not 0 <= momentum < 1:
        raise ValueError(f"momentum {momentum}")
    points = []
    for point, gradient in _walk(checked_gradient(grad), x, step_size, momentum, method == "nesterov", restart):
        points.append(point)
        value, nit = float(fun(point)), len(points) - 1
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        if message:
            path = np.array(points) if record_path else None
            return OptimizeResult(point, value, nit, nit + 1, message == CONVERGED, message, path)
    raise AssertionError("the walk has no end of its own")


def _walk(grad, point, a, constant, nesterov, restart):
    """Yield points and gradients. With a velocity v, Nesterov's next point lies b v beyond where the step ends."""
    x, velocity, t = point, np.zeros_like(point), 1.0
    while True:
        gradient = grad(point)
        yield point, gradient
        new = (point if nesterov else x + (constant or 0.0) * velocity) - a * gradient
        x, velocity = new, new - x
        if restart and gradient @ velocity > 0:
            velocity, t = np.zeros_like(x), 1.0
        share = constant
        if share is None:
            t, share = next_momentum(t)
        point = x + share * velocity if nesterov else x


def _check_method(method):
    if method not in {"heavy_ball", "nesterov"}:
        raise ValueError(f"method {method!r}")
