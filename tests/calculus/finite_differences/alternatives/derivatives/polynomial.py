"""Extrapolation as a polynomial in the square of the step, read at zero (Lagrange's weights), and everything in loops."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Extrapolation:
    derivative: np.ndarray
    error: np.ndarray


def _made(values, like):
    like = np.asarray(like)
    return np.array(values, dtype=like.dtype if like.dtype.kind == "f" else np.float64)


def _checked(x, step=1.0):
    x = np.asarray(x)
    if x.dtype.kind not in "fiu" or x.ndim != 1 or not x.size or not np.isfinite(x).all():
        raise ValueError("x")
    if not 0 < step < np.inf:
        raise ValueError("step")
    return x if x.dtype.kind == "f" else x.astype(float)


def _secants(f, x, below, above):
    x = _checked(x, above)
    slopes = []
    for point in x:
        ends = np.array([point - x.dtype.type(below), point + x.dtype.type(above)], dtype=x.dtype)
        if ends[1] == point:
            raise ValueError("step")
        low, high = f(ends)
        slopes.append((high - low) / (ends[1] - ends[0]))
    return _made(slopes, x)


def forward_difference(f, x, step):
    return _secants(f, x, 0.0, step)


def central_difference(f, x, step):
    return _secants(f, x, step, step)


def error_bound(step, order, constant, noise):
    step = np.asarray(step, dtype=float)
    if step.size == 0 or (step <= 0).any() or order < 1 or not constant > 0 or noise < 0:
        raise ValueError("step, order, constant, noise")
    return np.array([constant * h**order + noise / h for h in step])


def optimal_step(order, constant, noise):
    if order < 1 or constant <= 0 or noise <= 0:
        raise ValueError("order, constant, noise")
    return float(np.exp((np.log(noise) - np.log(order) - np.log(constant)) / (order + 1)))


def complex_step(f, x, step=1e-20):
    x = _checked(x, step)
    moved = x.astype(np.complex64 if x.dtype == np.float32 else np.complex128)
    moved.imag = step
    return _made(f(moved).imag / step, x)


def _at_zero(squares, slopes):
    total = 0.0
    for i, own in enumerate(squares):
        others = np.delete(squares, i)
        total = total + slopes[i] * np.prod(others / (others - own))
    return total


def richardson(f, x, step, n_halvings):
    if n_halvings < 1:
        raise ValueError("n_halvings")
    x = _checked(x, step)
    steps = step / 2.0 ** np.arange(n_halvings + 1)
    slopes = [central_difference(f, x, h) for h in steps]
    best, before = _at_zero(steps**2, slopes), _at_zero(steps[1:] ** 2, slopes[1:])
    return Extrapolation(_made(best, x), _made(abs(best - before), x))
