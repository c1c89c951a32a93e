"""In the order of operations of production code: interpolated averages, corrections folded into scalars, arrays reused."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from mlpath.optim._shared import OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping


@dataclass(frozen=True)
class AdaGradState:
    total: np.ndarray


@dataclass(frozen=True)
class RMSpropState:
    mean_square: np.ndarray


@dataclass(frozen=True)
class AdadeltaState:
    mean_square: np.ndarray
    mean_square_move: np.ndarray


@dataclass(frozen=True)
class AdamState:
    count: int
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class AMSGradState:
    count: int
    first: np.ndarray
    second: np.ndarray
    largest: np.ndarray


def at_rest(state_type, like):
    names = state_type.__dataclass_fields__
    return state_type(**{name: 0 if name == "count" else np.zeros(like.shape, like.dtype) for name in names})


def _towards(average, value, decay):
    """The average moved towards a value by a share of 1 - decay; overwrites the value."""
    value -= average
    value *= 1 - decay
    value += average
    return value


def adagrad(state, gradient, *, step_size=1e-2, eps=1e-10):
    _check(state.total, gradient, step_size, eps)
    total = np.square(gradient)
    total += state.total
    return replace(state, total=total), _quotient(-step_size, gradient, total, eps)


def rmsprop(state, gradient, *, step_size=1e-2, decay=0.99, eps=1e-8):
    _check(state.mean_square, gradient, step_size, eps, decay)
    mean_square = _towards(state.mean_square, np.square(gradient), decay)
    return RMSpropState(mean_square), _quotient(-step_size, gradient, mean_square, eps)


def adadelta(state, gradient, *, step_size=1.0, decay=0.9, eps=1e-6):
    _check(state.mean_square, gradient, step_size, eps, decay)
    mean_square = _towards(state.mean_square, np.square(gradient), decay)
    move = gradient / np.sqrt((mean_square + eps) / (state.mean_square_move + eps))
    return AdadeltaState(mean_square, _towards(state.mean_square_move, np.square(move), decay)), -(step_size * move)


def bias_correction(average, decay, count):
    if not 0 <= decay < 1:
        raise ValueError(f"decay {decay}")
    if count < 1:
        raise ValueError(f"count {count}")
    return average / (-math.expm1(count * math.log(decay)) if decay else 1.0)


def adam(state, gradient, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-8):
    _check(state.first, gradient, step_size, eps, *decays)
    new = _averaged(state, gradient, decays)
    return new, _folded(new.first, new.second, new.count, step_size, decays, eps)


def amsgrad(state, gradient, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-8):
    _check(state.first, gradient, step_size, eps, *decays)
    new = _averaged(state, gradient, decays)
    new = replace(new, largest=np.fmax(state.largest, new.second))
    return new, _folded(new.first, new.largest, new.count, step_size, decays, eps)


def minimize(fun, grad, start, rule, state_type, *, tol=1e-6, max_iter=1000, record_path=False):
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    grad, state, path = checked_gradient(grad), at_rest(state_type, x), []
    for nit in itertools.count():
        value, gradient = float(fun(x)), grad(x)
        path.append(x)
        if message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter):
            break
        state, update = rule(state, gradient)
        x = x + update
    return OptimizeResult(
        x, value, nit, nit + 1, message == CONVERGED, message, np.stack(path) if record_path else None
    )


def _averaged(state, gradient, decays):
    return replace(
        state,
        count=state.count + 1,
        first=_towards(state.first, gradient.copy(), decays[0]),
        second=_towards(state.second, np.square(gradient), decays[1]),
    )


def _folded(first, square, count, step_size, decays, eps):
    scale = math.sqrt(1 - decays[1] ** count)
    return _quotient(-step_size * scale / (1 - decays[0] ** count), first, square, eps * scale)


def _quotient(factor, numerator, square, eps):
    root = np.sqrt(square)
    root += eps
    np.divide(numerator, root, out=root)
    root *= factor
    return root


def _check(average, gradient, step_size, eps, *decays):
    for name, good in (
        ("gradient", gradient.shape == average.shape),
        ("step_size", 0 < step_size < np.inf),
        ("eps", 0 < eps < np.inf),
        ("decay", all(0 <= decay < 1 for decay in decays)),
    ):
        if not good:
            raise ValueError(f"{name} is unusable")
