"""Everything through the shares of the weights; walks in plain loops; the power iteration by whole batches of draws."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import OptimizeResult, checked_gradient
from mlpath.optim.adaptive import at_rest
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS, check_arguments


@dataclass(frozen=True)
class NoState:
    pass


def descent(state, gradient, *, step_size):
    return state, -step_size * gradient


def _size(value, name):
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be at least 0 and finite, got {value}")
    return float(value)


def _vector(x):
    return check_arguments(x, step_size=1, tol=0, max_iter=1)


def _count(value, name):
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


def ascent(gradient, radius):
    return adaptive_ascent(np.zeros_like(gradient), gradient, radius, shift=1.0)


def adaptive_ascent(x, gradient, radius, *, shift=0.0):
    radius, shift = _size(radius, "radius"), _size(shift, "shift")
    sizes = np.abs(x) + shift
    slopes = sizes * gradient
    unit = np.max(np.abs(slopes))
    if not unit > 0:
        return slopes * 0
    slopes = slopes / unit
    return sizes * slopes * (radius / float(np.sqrt(np.sum(slopes * slopes))))


def sam_gradient(grad, x, gradient, *, radius, adaptive=False, shift=0.0):
    _size(shift, "shift")
    if adaptive:
        return grad(adaptive_ascent(x, gradient, radius, shift=shift) + x)
    return grad(ascent(gradient, radius) + x)


def minimize(
    fun,
    grad,
    start,
    rule,
    state_type,
    *,
    radius,
    adaptive=False,
    shift=0.0,
    tol=1e-6,
    max_iter=1000,
    record_path=False,
):
    x = check_arguments(start, step_size=1, tol=tol, max_iter=max_iter)
    _size(radius, "radius")
    _size(shift, "shift")
    grad, state, points = checked_gradient(grad), at_rest(state_type, x), [x]
    message = None
    for nit in range(max_iter + 1):
        value, here = float(fun(x)), grad(x)
        if not (np.isfinite(value) and np.isfinite(here).all()):
            message = DIVERGED
        elif np.max(np.abs(here)) <= tol:
            message = CONVERGED
        elif nit == max_iter:
            message = OUT_OF_STEPS
        if message is not None:
            path = np.stack(points) if record_path else None
            return OptimizeResult(x, value, nit, nit + 1, message == CONVERGED, message, path)
        state, update = rule(state, sam_gradient(grad, x, here, radius=radius, adaptive=adaptive, shift=shift))
        x = update + x
        points.append(x)
    raise AssertionError("the last of the loop returns")


def worst_rise(fun, grad, x, radius, *, n_steps=50, rng):
    _vector(x)
    _size(radius, "radius")
    _count(n_steps, "n_steps")
    there = rng.normal(size=x.shape)
    there *= np.copysign(radius / np.linalg.norm(there), there @ grad(x))
    values = [fun(x)]
    for _ in range(n_steps):
        there = ascent(grad(there + x), radius)
        values.append(fun(there + x))
    return float(max(values) - values[0])


def top_eigenvalue(hvp, x, *, tol=1e-6, n_steps=1000, rng):
    _vector(x)
    _size(tol, "tol")
    _count(n_steps, "n_steps")
    v = rng.uniform(-1, 1, size=x.shape)
    v /= np.linalg.norm(v)
    for _ in range(n_steps):
        image = hvp(x, v)
        value = float(image @ v)
        length = float(np.linalg.norm(image))
        if length == 0:
            return 0.0
        if np.linalg.norm(image - value * v) <= tol * abs(value):
            return value
        v = image / length
    return value


def average_rise(fun, x, scale, *, n_draws=1000, rng):
    _vector(x)
    _size(scale, "scale")
    _count(n_draws, "n_draws")
    here, total = fun(x), 0.0
    for _ in range(n_draws):
        total += float(fun(x + scale * rng.normal(size=x.shape)) - here)
    return total / n_draws
