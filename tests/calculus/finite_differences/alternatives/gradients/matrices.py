"""All moved points in the rows of matrices; the Hessian as differences of gradients, made symmetric at the end."""

import numpy as np


def _vector(values, name):
    values = np.asarray(values)
    if values.dtype.kind not in "fiu" or values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(name)
    return values if values.dtype.kind == "f" else values.astype(float)


def _values(f, points, name, ndim):
    values = np.array([f(point) for point in points])
    if values.ndim != ndim + 1 or not np.isfinite(values).all():
        raise ValueError(name)
    return values


def _steps(x, step, power):
    if step is None:
        step = np.finfo(x.dtype).eps ** power
    if not 0 < step < np.inf:
        raise ValueError("step")
    return (step * np.maximum(1, abs(x))).astype(x.dtype)


def _slopes(f, name, x, steps, ndim):
    points = np.concatenate([x + np.diag(steps), x - np.diag(steps)])
    ahead, behind = np.split(_values(f, points, name, ndim), 2)
    width = (points[: x.size] - points[x.size :])[np.arange(x.size), np.arange(x.size)]
    return ((ahead - behind).T / width).astype(x.dtype)


def _along(f, name, x, direction, step, ndim):
    x, direction = _vector(x, "x"), _vector(direction, "direction v")
    if x.shape != direction.shape:
        raise ValueError("direction v")
    size = abs(direction).max()
    h = _steps(np.abs(x).max(keepdims=True), step, 1 / 3)[0]
    if size == 0:
        return 0.0 * _values(f, [x], name, ndim)[0]
    unit = (direction / size).astype(x.dtype)
    ahead, behind = _values(f, [x + h * unit, x - h * unit], name, ndim)
    return (ahead - behind) / (2 * h) * size


def directional_derivative(f, x, direction, step=None):
    return float(_along(f, "f", x, direction, step, 0))


def gradient(f, x, step=None):
    x = _vector(x, "x")
    return _slopes(f, "f", x, _steps(x, step, 1 / 3), 0)


def jacobian(f, x, step=None):
    x = _vector(x, "x")
    return _slopes(f, "f", x, _steps(x, step, 1 / 3), 1)


def hessian(f, x, step=None):
    x = _vector(x, "x")
    steps = _steps(x, step, 1 / 4)
    half = steps / 2
    second = _slopes(lambda y: _slopes(f, "f", y, half, 0), "f", x, half, 1)
    return (second + second.T) / 2


def hessian_vector_product(grad, x, v, step=None):
    return _along(grad, "grad", x, v, step, 1).astype(_vector(x, "x").dtype)


def gradient_mismatch(f, grad, x, *, n_directions=10, rng):
    x = _vector(x, "x")
    claimed = _vector(grad(x), "grad")
    if claimed.shape != x.shape or n_directions < 1:
        raise ValueError("grad, n_directions")
    signs = rng.choice([-1.0, 1.0], size=(n_directions, x.size)) * rng.uniform(0.5, 1.5, size=(n_directions, x.size))
    measured = np.array([directional_derivative(f, x, d) for d in signs])
    promised = signs @ claimed
    sizes = abs(measured) + abs(promised)
    return float((abs(measured - promised) / np.where(sizes > 0, sizes, 1)).max())
