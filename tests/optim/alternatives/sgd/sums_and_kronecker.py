"""Sorted random keys for shuffles, sums divided at the end, and the Lyapunov equation by a Kronecker product."""

from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import DIVERGED, check_arguments

FINISHED = "finished: all epochs were made"


@dataclass(frozen=True)
class SGDResult(OptimizeResult):
    mean: np.ndarray | None = None


@dataclass(frozen=True)
class EMAState:
    count: int
    average: np.ndarray


def batches(n_samples, batch_size, *, replace, rng):
    if not 1 <= batch_size <= n_samples:
        raise ValueError(f"batch_size {batch_size}")
    keys = rng.random(n_samples)
    drawn = (keys * n_samples).astype(int) if replace else np.argsort(keys)
    return np.split(drawn, range(batch_size, n_samples, batch_size))


def step_at(count, step_size, power):
    return step_size * float(count + 1) ** -power


def robbins_monro(power):
    return not power > 1, 2 * power > 1


def noise_covariance(gradients, batch_size, *, replace):
    n_samples, dim = gradients.shape
    if n_samples < 2:
        raise ValueError(f"gradients {n_samples}")
    if batch_size < 1 or (batch_size > n_samples and not replace):
        raise ValueError(f"batch_size {batch_size}")
    scale = 1 / batch_size if replace else (1 / batch_size - 1 / n_samples) * n_samples / (n_samples - 1)
    return scale * np.cov(gradients.T, bias=True).reshape(dim, dim)


def stationary_covariance(hessian, noise, step_size):
    values = np.linalg.eigvalsh(hessian)
    if not values[0] > 0:
        raise ValueError(f"hessian {values[0]}")
    if not 0 < step_size * values[-1] < 2:
        raise ValueError(f"step_size {step_size}")
    one = np.eye(len(hessian))
    operator = np.kron(hessian, one) + np.kron(one, hessian) - step_size * np.kron(hessian, hessian)
    return np.linalg.solve(operator, step_size * noise.ravel()).reshape(hessian.shape)


def running_mean(mean, count, x):
    return (count * mean + x) / (count + 1)


def ema_step(state, x, decay):
    if not 0 <= decay < 1:
        raise ValueError(f"decay {decay}")
    average = state.average + (1 - decay) * (x - state.average)
    return EMAState(state.count + 1, average), average / (1 - decay ** (state.count + 1))


def minimize(
    fun,
    grad,
    start,
    n_samples,
    *,
    rng,
    batch_size=1,
    step_size=1e-2,
    power=0.0,
    replace=False,
    epochs=10,
    burn_in=0,
    record_path=False,
):
    x = check_arguments(start, step_size=step_size, tol=0.0, max_iter=1)
    if not epochs >= 1:
        raise ValueError(f"epochs {epochs}")
    for name, value in (("power", power), ("burn_in", burn_in)):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} {value}")
    path, message = [x], FINISHED
    for _ in range(epochs):
        for indices in batches(n_samples, batch_size, replace=replace, rng=rng):
            gradient = np.asarray(grad(path[-1], indices), dtype=x.dtype)
            if gradient.shape != x.shape:
                raise ValueError(f"grad returned {gradient.shape}")
            if not np.isfinite(gradient).all():
                message = DIVERGED
                break
            path.append(path[-1] - step_at(len(path) - 1, step_size, power) * gradient)
        if message == DIVERGED:
            break
    late = path[1 + burn_in :] or path[-1:]
    return SGDResult(
        path[-1],
        float(fun(path[-1])),
        len(path) - 1,
        1,
        message == FINISHED,
        message,
        np.array(path) if record_path else None,
        np.mean(late, axis=0),
    )
