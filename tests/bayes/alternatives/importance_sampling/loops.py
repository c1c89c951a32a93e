"""Normalised weights throughout, sums one by one, the Pareto law by powers, excesses ranked in a loop."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.bayes._shared import evaluate


@dataclass(frozen=True)
class Estimate:
    value: float
    standard_error: float


@dataclass(frozen=True)
class Pareto:
    shape: float
    scale: float


@dataclass(frozen=True)
class Smoothed:
    log_weights: np.ndarray
    shape: float


def _check(log_weights, values=None, least=1):
    if log_weights.ndim != 1 or len(log_weights) < least:
        raise ValueError(f"log_weights must be a longer vector, got {log_weights.shape}")
    if np.isnan(log_weights).any() or log_weights.max() in (np.inf, -np.inf):
        raise ValueError(f"log_weights must be below infinity, one finite, got {log_weights}")
    if values is not None and (values.shape != log_weights.shape or not np.isfinite(values).all()):
        raise ValueError(f"values must belong to the weights, got {values}")


def log_weights(log_density_fn, points, log_proposal):
    if not np.isfinite(log_proposal).all():
        raise ValueError(f"log_proposal must be finite, got {log_proposal}")
    height = evaluate(log_density_fn, points)
    if height.max() == -np.inf:
        raise ValueError(f"points must reach the support, got {points}")
    return height - log_proposal


def log_sum_exp(a):
    total = -math.inf
    for summand in map(float, a):
        low, high = sorted((total, summand))
        total = high if low == -math.inf else high + math.log1p(math.exp(low - high))
    return total


def _normalised(log_weights):
    weights = np.exp(log_weights - log_weights.max())
    return weights / math.fsum(weights)


def evidence(log_weights):
    _check(log_weights, least=2)
    n, top = len(log_weights), log_weights.max()
    weights = np.exp(log_weights - top)
    mean = math.fsum(weights) / n
    variance = math.fsum((weights - mean) ** 2) / (n - 1)
    return float(top + math.log(mean)), math.sqrt(variance / n) / mean


def plain(log_weights, values):
    _check(log_weights, values, 2)
    if log_weights.max() > 350:
        raise ValueError(f"log_weights must not overflow, got {log_weights.max()}")
    n = len(values)
    products = [math.exp(a) * h for a, h in zip(log_weights, values)]
    mean = math.fsum(products) / n
    return Estimate(mean, math.sqrt(math.fsum((p - mean) ** 2 for p in products) / n / (n - 1)))


def self_normalised(log_weights, values):
    _check(log_weights, values)
    weights = _normalised(log_weights)
    mean = math.fsum(weights * values)
    return Estimate(mean, math.hypot(*(weights * (values - mean))))


def effective_sample_size(log_weights):
    _check(log_weights)
    return 1 / math.fsum(_normalised(log_weights) ** 2)


def pareto_quantile(p, law):
    if not ((p >= 0) & (p < 1)).all():
        raise ValueError(f"p must be probabilities below 1, got {p}")
    if not (law.scale > 0 and math.isfinite(law.scale)):
        raise ValueError(f"law must have a scale, got {law}")
    found = []
    for share in p:
        e = -math.log1p(-share)
        t = law.shape * e
        # scale * e * (exp(t) - 1) / t
        found.append(law.scale * e * (math.expm1(t) / t if abs(t) > 1e-200 else 1.0))
    return np.array(found)


def fit_pareto(excesses):
    if excesses.ndim != 1 or len(excesses) < 5 or not np.isfinite(excesses).all() or excesses.min() < 0:
        raise ValueError(f"excesses must be five or more, got {excesses}")
    m = len(excesses)
    x = np.array(sorted(excesses))
    quartile = x[(m + 2) // 4 - 1]
    if quartile == 0:
        raise ValueError(f"excesses must not be zero so often, got {excesses}")
    size = 30 + math.isqrt(m)

    def shape(theta):
        return np.log(1 - theta * x).sum() / m

    grid = [1 / x[-1] + (1 - math.sqrt(size / (j + 0.5))) / (3 * quartile) for j in range(size)]
    grid = [theta or 1e-8 / x[-1] for theta in grid]
    heights = [m * (math.log(-theta / shape(theta)) - shape(theta)) for theta in grid]
    weights = _normalised(np.array(heights))
    theta = math.fsum(weights * grid)
    k = shape(theta)
    return Pareto(k + (0.5 - k) * 10 / (m + 10), -k / theta)


def smooth(log_weights):
    _check(log_weights, least=25)
    n = len(log_weights)
    m = math.floor(n / 5 if n <= 225 else 3 * math.sqrt(n))
    weights = np.exp(log_weights - log_weights.max())
    order = sorted(range(n), key=lambda i: log_weights[i])
    threshold = weights[order[n - m - 1]]
    law = fit_pareto(np.array([weights[i] - threshold for i in order[n - m :]]))
    found = log_weights - log_weights.max()
    for rank, i in enumerate(order[n - m :]):
        found[i] = math.log(min(threshold + pareto_quantile(np.array([(rank + 0.5) / m]), law)[0], 1.0))
    return Smoothed(found - log_sum_exp(found), law.shape)
