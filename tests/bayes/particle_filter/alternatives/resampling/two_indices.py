"""Walks through weights and points with two indices; binomial numbers in turn; sorted points by exponential spacings."""

import math

import numpy as np


def _check(weights, n=1):
    if weights.ndim != 1 or not weights.size or np.isnan(weights).any() or weights.min() < 0:
        raise ValueError(f"weights must be non-negative, got {weights}")
    if not math.isclose(weights.sum(), 1, abs_tol=1e-9, rel_tol=0):
        raise ValueError(f"weights must sum to 1, got {weights.sum()}")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")


def normalise(log_weights):
    if log_weights.ndim != 1 or not log_weights.size or np.isnan(log_weights).any() or log_weights.max() == np.inf:
        raise ValueError(f"log_weights must be a vector of logarithms, got {log_weights}")
    log_sum = -math.inf
    for entry in log_weights.tolist():
        log_sum = float(np.logaddexp(log_sum, entry))
    if log_sum == -math.inf:
        raise ValueError("log_weights must not all be -inf")
    weights = np.exp(log_weights - log_sum)
    return weights / weights.sum(), log_sum - math.log(len(log_weights))


def effective_sample_size(weights):
    _check(weights)
    return weights.sum() ** 2 / sum(w * w for w in weights.tolist())


def pick(weights, points):
    _check(weights)
    if np.isnan(points).any() or (points < 0).any() or (points > 1).any():
        raise ValueError(f"points must lie in the unit interval, got {points}")
    alive = [i for i, w in enumerate(weights.tolist()) if w]
    owners, place, border = np.zeros(len(points), dtype=np.int32), 0, float(weights[alive[0]])
    for k in np.argsort(points):
        while points[k] >= border and place < len(alive) - 1:
            place += 1
            border = float(weights[: alive[place] + 1].cumsum()[-1])
        owners[k] = alive[place]
    return owners


def multinomial(weights, n, *, rng):
    _check(weights, n)
    counts, left, mass = [], n, 1.0
    for w in weights.tolist():
        counts.append(int(rng.binomial(left, min(1.0, max(w / mass, 0.0)))) if w and mass > 0 else 0)
        left -= counts[-1]
        mass -= w
    counts[int(np.flatnonzero(weights)[-1])] += left
    return np.repeat(np.arange(len(weights)), counts)


def stratified(weights, n, *, rng):
    _check(weights, n)
    points = np.array([(k + rng.random()) / n for k in range(n)])
    return pick(weights, points)[::-1]


def systematic(weights, n, *, rng):
    _check(weights, n)
    first = rng.uniform(0, 1 / n)
    return pick(weights, np.minimum(first + np.linspace(0, 1, n, endpoint=False), 1.0))


def residual(weights, n, *, rng):
    _check(weights, n)
    whole = [math.floor(n * w) for w in weights.tolist()]
    free = n - sum(whole)
    chosen = [i for i, count in enumerate(whole) for _ in range(count)]
    if free:
        left = np.clip(n * weights - whole, 0, None)
        chosen += rng.choice(len(weights), free, p=left / left.sum()).tolist()
    return rng.permutation(np.array(chosen, dtype=int))
