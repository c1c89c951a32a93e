"""Chain by chain and group by group, from the points themselves: no running sums, ratios of evidences, cumulated weights."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Prior:
    n_components: int
    concentration: float
    mean: float
    strength: float
    shape: float
    rate: float

    def __post_init__(self):
        if self.n_components < 1:
            raise ValueError("n_components must be at least 1")
        if not math.isfinite(self.mean):
            raise ValueError("mean must be finite")
        for name in ("concentration", "strength", "shape", "rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be positive")


@dataclass(frozen=True)
class Groups:
    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray


lgamma = np.vectorize(math.lgamma, otypes=[float])


def statistics(x, labels, prior):
    if x.ndim != 1 or len(x) == 0 or not np.isfinite(x).all():
        raise ValueError(f"x must be finite, got {x}")
    if labels.ndim != 2 or labels.shape[1] != len(x) or labels.min() < 0 or labels.max() >= prior.n_components:
        raise ValueError(f"labels must be those of groups, got {labels}")
    out = np.zeros((len(labels), prior.n_components, 3))
    chains = np.arange(len(labels))
    for i, d in enumerate(x - prior.mean):
        out[chains, labels[:, i]] += [1.0, d, d * d]
    return out


def posterior(sums, prior):
    n = sums[..., 0]
    strength = n + prior.strength
    around = sums[..., 1] / np.maximum(n, 1)  # the mean of the points, from m
    within = sums[..., 2] - n * around**2
    between = prior.strength * n / strength * around**2
    return prior.mean + n * around / strength, strength, prior.shape + 0.5 * n, prior.rate + 0.5 * (within + between)


def _log_evidence(sums, prior):
    _, strength, shape, rate = posterior(sums, prior)

    def log_constant(kappa, a, b):
        return 0.5 * np.log(kappa / (2 * np.pi)) + a * np.log(b) - lgamma(a)

    return (
        log_constant(prior.strength, prior.shape, prior.rate)
        - log_constant(strength, shape, rate)
        - 0.5 * sums[..., 0] * math.log(2 * math.pi)
    )


def log_joint(x, labels, prior):
    sums = statistics(x, labels, prior)
    total = _log_evidence(sums, prior).sum(axis=1)
    seen = np.zeros(sums.shape[:2])
    chains = np.arange(len(labels))
    for i in range(len(x)):
        own = seen[chains, labels[:, i]]
        total += np.log((prior.concentration + own) / (prior.n_components * prior.concentration + i))
        seen[chains, labels[:, i]] += 1
    return total


def log_predictive(point, sums, prior):
    mean, strength, shape, rate = posterior(sums, prior)
    scale = np.sqrt(rate * (1 + 1 / strength) / shape)
    t = (point - mean) / scale
    constant = lgamma(shape + 0.5) - lgamma(shape) - np.log(scale) - 0.5 * np.log(2 * shape * np.pi)
    return constant - (shape + 0.5) * np.log1p(t * t / (2 * shape))


def draw_parameters(sums, prior, *, rng):
    mean, strength, shape, rate = posterior(sums, prior)
    precision = rng.gamma(shape, 1 / rate)
    means = rng.normal(mean, 1 / np.sqrt(strength * precision))
    kinds, where = np.unique(sums[..., 0], axis=0, return_inverse=True)
    weights = np.empty(mean.shape)
    for k, sizes in enumerate(kinds):
        rows = where.ravel() == k
        weights[rows] = rng.dirichlet(sizes + prior.concentration, size=rows.sum())
    return Groups(weights, means, 1 / precision)


def _pick(log_p, rng):
    p = np.exp(log_p - log_p.max(axis=-1, keepdims=True)).cumsum(axis=-1)
    return (p < p[..., -1:] * rng.random((*p.shape[:-1], 1))).sum(axis=-1)


def draw_labels(x, parameters, *, rng):
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(f"x must be finite, got {x}")
    columns = []
    some = parameters.weights > 0
    log_w = np.where(some, np.log(np.where(some, parameters.weights, 1)), -np.inf)
    for value in x:
        z = (value - parameters.means) / np.sqrt(parameters.variances)
        columns.append(_pick(log_w - 0.5 * np.log(parameters.variances) - 0.5 * z * z, rng))
    return np.stack(columns, axis=1)


def collapsed_sweep(x, labels, prior, *, rng):
    statistics(x, labels, prior)
    labels = np.array(labels)
    others = np.ones(len(x), bool)
    for i in range(len(x)):
        others[i] = False
        if others.any():
            sums = statistics(x[others], labels[:, others], prior)
        else:
            sums = np.zeros((len(labels), prior.n_components, 3))
        others[i] = True
        labels[:, i] = _pick(np.log(prior.concentration + sums[..., 0]) + log_predictive(x[i], sums, prior), rng)
    return labels


def co_clustering(labels):
    if labels.ndim != 2 or 0 in labels.shape:
        raise ValueError(f"labels must have two axes, got {labels.shape}")
    total = np.zeros((labels.shape[1],) * 2)
    for row in labels:
        total += np.equal.outer(row, row)
    return total / len(labels)


def sample(x, labels, n_draws, *, prior, collapsed, rng):
    if n_draws < 1:
        raise ValueError("n_draws must be positive")
    path = []
    for _ in range(n_draws):
        if collapsed:
            labels = collapsed_sweep(x, labels, prior, rng=rng)
        else:
            labels = draw_labels(x, draw_parameters(statistics(x, labels, prior), prior, rng=rng), rng=rng)
        path.append(labels)
    return np.stack(path, axis=1)
