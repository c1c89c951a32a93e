"""Roots by singular values, tensordot over all other axes, running means over probes, and averages by increments."""

from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import OptimizeResult, checked_gradient
from mlpath.optim.adaptive import AdamState
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping


@dataclass(frozen=True)
class ShampooState:
    grams: tuple


def _positive(**values):
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")


def inverse_root(matrix, order, *, eps):
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise ValueError(f"matrix must be square and finite, got {matrix}")
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}")
    _positive(eps=eps)
    left, sizes, right = np.linalg.svd((matrix + matrix.T) / 2)
    signs = np.sign((left * right.T).sum(axis=0))
    values = np.where(signs > 0, sizes, 0.0).astype(matrix.dtype)
    root = np.zeros_like(matrix)
    for value, vector in zip(values, left.T):
        root += np.outer(vector, vector) * np.exp(-np.log(value + eps) / order)
    return root


def gram(tensor, axis):
    if not 0 <= axis < tensor.ndim:
        raise ValueError(f"axis must exist, got {axis}")
    others = [other for other in range(tensor.ndim) if other != axis]
    return np.tensordot(tensor, tensor, axes=(others, others))


def mode_product(tensor, matrix, axis):
    if not 0 <= axis < tensor.ndim:
        raise ValueError(f"axis must exist, got {axis}")
    if matrix.ndim != 2 or matrix.shape[1] != tensor.shape[axis]:
        raise ValueError(f"matrix must fit, got {matrix.shape}")
    return np.swapaxes(np.swapaxes(tensor, axis, -1) @ matrix.T, axis, -1)


def at_rest(like):
    return ShampooState(tuple(np.zeros((n, n), dtype=like.dtype) for n in like.shape))


def shampoo(state, gradient, *, step_size=1e-1, eps=1e-6):
    _positive(step_size=step_size, eps=eps)
    if gradient.shape != tuple(map(len, state.grams)) or not gradient.ndim or not np.isfinite(gradient).all():
        raise ValueError(f"gradient must fit the state and be finite, got {gradient}")
    update, grams = gradient, []
    for axis in range(gradient.ndim):
        grams.append(state.grams[axis] + gram(gradient, axis))
        update = mode_product(update, inverse_root(grams[-1], 2 * gradient.ndim, eps=eps), axis)
    return ShampooState(tuple(grams)), -step_size * update


def rademacher(n_probes, like, *, rng):
    return rng.choice(np.array([-1, 1], dtype=like.dtype), size=(n_probes, *like.shape))


def hutchinson(product, probes):
    if not probes.size:
        raise ValueError(f"probes must be at least one, got {probes.shape}")
    estimate = np.zeros_like(probes[0])
    for count, z in enumerate(probes, start=1):
        result = np.asarray(product(z), dtype=probes.dtype)
        if result.shape != z.shape:
            raise ValueError(f"product must return shape {z.shape}, got {result.shape}")
        estimate += (result * z - estimate) / count
    return estimate


def spatial_average(diagonal, block):
    if block < 1 or diagonal.size % block:
        raise ValueError(f"block must divide {diagonal.size}, got {block}")
    flat = diagonal.ravel()
    average = np.empty_like(flat)
    for first in range(0, flat.size, block):
        average[first : first + block] = flat[first : first + block].sum() / block
    return average.reshape(diagonal.shape)


def adahessian(state, gradient, diagonal, *, step_size=1e-1, decays=(0.9, 0.999), power=1.0, eps=1e-8):
    _positive(step_size=step_size, eps=eps)
    if not all(0 <= decay < 1 for decay in decays):
        raise ValueError(f"decays must be in [0, 1), got {decays}")
    if not 0 <= power <= 1:
        raise ValueError(f"power must be in [0, 1], got {power}")
    for name, array in (("gradient", gradient), ("diagonal", diagonal)):
        if array.shape != state.first.shape:
            raise ValueError(f"{name} must fit the state, got {array.shape}")
    t = state.count + 1
    first = state.first + (1 - decays[0]) * (gradient - state.first)
    second = state.second + (1 - decays[1]) * (diagonal * diagonal - state.second)
    below = (second / (1 - decays[1] ** t)) ** (power / 2) + eps
    return AdamState(t, first, second), -(step_size / (1 - decays[0] ** t)) * first / below


def minimize(
    fun,
    grad,
    hvp,
    start,
    *,
    n_probes=1,
    block=1,
    step_size=1e-1,
    decays=(0.9, 0.999),
    power=1.0,
    tol=1e-6,
    max_iter=1000,
    record_path=False,
    rng,
):
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    if n_probes < 1:
        raise ValueError(f"n_probes must be at least 1, got {n_probes}")
    grad, state, nit, path = checked_gradient(grad), AdamState(0, 0 * x, 0 * x), 0, [x]
    while True:
        value, gradient = float(fun(x)), grad(x)
        if message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter):
            break
        point = x
        diagonal = hutchinson(lambda v, point=point: hvp(point, v), rademacher(n_probes, x, rng=rng))
        diagonal = spatial_average(diagonal, block)
        options = {"step_size": step_size, "decays": decays, "power": power}
        state, update = adahessian(state, gradient, diagonal, **options)
        x, nit = x + update, nit + 1
        path.append(x)
    points = np.array(path) if record_path else None
    return OptimizeResult(x, value, nit, nit + 1, message == CONVERGED, message, points)
