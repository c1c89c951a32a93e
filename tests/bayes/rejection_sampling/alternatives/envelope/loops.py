"""Point by point, with uniform numbers; the quantiles by symmetry, the bounds through their places."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.bayes._shared import evaluate

ROUNDING = 1e-8


@dataclass(frozen=True)
class Proposal:
    draw: object
    log_density: object


@dataclass(frozen=True)
class Rejection:
    draws: np.ndarray
    n_tries: int
    n_evaluations: int


def _check_scale(scale):
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"scale must be positive, got {scale}")


def laplace_quantile(u, *, scale):
    _check_scale(scale)
    if not np.all((u >= 0) & (u <= 1)):
        raise ValueError(f"u must be probabilities, got {u}")
    tail = np.minimum(u, 1 - u)
    distance = np.full(u.shape, np.inf)
    distance[tail > 0] = -scale * (np.log(tail[tail > 0]) + math.log(2))
    return np.where(u < 0.5, -distance, distance)


def laplace(dim, *, scale):
    _check_scale(scale)

    def draw(n, rng):
        return rng.laplace(scale=scale, size=(n, dim))

    return Proposal(draw, lambda x: -np.log(2 * scale) * dim - np.abs(x / scale).sum(axis=1))


def laplace_bound(dim, *, scale):
    _check_scale(scale)
    if dim < 1:
        raise ValueError(f"dim must be positive, got {dim}")
    x = 1 / scale
    return sum(-x * x / 2 - math.log(2 * math.pi) / 2 + x / scale + math.log(2 * scale) for _ in range(dim))


def cauchy_bound(*, scale):
    _check_scale(scale)
    x = math.sqrt(2 - scale**2) if scale**2 < 2 else 0.0
    log_normal = -(x**2) / 2 - math.log(2 * math.pi) / 2
    return log_normal - math.log(scale / math.pi) + math.log(scale**2 + x**2)


def log_acceptance(log_target, log_envelope, points):
    found, worst, where = [], ROUNDING, None
    for target, envelope, point in zip(log_target, log_envelope, points):
        difference = target - envelope
        if difference > worst:
            worst, where = difference, point
        found.append(0.0 if difference > 0 else difference)
    if where is not None:
        raise ValueError(f"log_bound must cover the target, but it does not by {worst} at {where}")
    return np.array(found)


def accept(log_density_fn, points, log_envelope, *, log_squeeze=None, rng):
    if not np.isfinite(log_envelope).all():
        raise ValueError(f"log_envelope must be finite, got {log_envelope}")
    if log_squeeze is not None and not (log_squeeze - log_envelope <= ROUNDING).all():
        raise ValueError(f"log_squeeze must be below log_envelope, got {log_squeeze}")
    coins = [math.log1p(-rng.random()) for _ in points]
    undecided = [i for i, coin in enumerate(coins) if log_squeeze is None or coin > log_squeeze[i] - log_envelope[i]]
    accepted = np.ones(len(points), dtype=bool)
    if undecided:
        log_target = evaluate(log_density_fn, points[undecided])
        for i, log_alpha in zip(undecided, log_acceptance(log_target, log_envelope[undecided], points[undecided])):
            accepted[i] = coins[i] <= log_alpha
    return accepted, len(undecided)


def sample(
    log_density_fn, proposal, log_bound, n_draws, *, log_squeeze_fn=None, batch_size=1000, max_tries=1_000_000, rng
):
    for name, value in (("n_draws", n_draws), ("batch_size", batch_size), ("max_tries", max_tries)):
        if not value >= 1:
            raise ValueError(f"{name} must be positive, got {value}")
    if not np.isfinite(log_bound):
        raise ValueError(f"log_bound must be finite, got {log_bound}")
    draws, proposed, n_evaluations, last = [], 0, 0, 0
    while len(draws) < n_draws:
        size = min(batch_size, max_tries - proposed)
        if size == 0:
            raise ValueError(f"max_tries must be larger, got {max_tries}")
        points = proposal.draw(size, rng)
        squeeze = log_squeeze_fn(points) if log_squeeze_fn is not None else None
        envelope = proposal.log_density(points) + log_bound
        accepted, evaluated = accept(log_density_fn, points, envelope, log_squeeze=squeeze, rng=rng)
        n_evaluations += evaluated
        for i in range(size):
            if accepted[i] and len(draws) < n_draws:
                draws.append(points[i])
                last = proposed + i + 1
        proposed += size
    return Rejection(np.array(draws), last, n_evaluations)


def evidence(n_draws, n_tries, log_bound):
    if n_draws < 3:
        raise ValueError(f"n_draws must be 3 or more, got {n_draws}")
    if n_tries < n_draws:
        raise ValueError(f"n_tries must not be below n_draws, got {n_tries}")
    others, rejected = n_tries - 1, n_tries - n_draws
    variance = rejected / others * (n_draws - 1) / others / (n_tries - 2)
    return log_bound + math.log(n_draws - 1) - math.log(others), math.sqrt(variance) * others / (n_draws - 1)
