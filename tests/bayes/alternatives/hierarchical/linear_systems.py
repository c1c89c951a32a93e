"""Given tau, one linear system for all normal unknowns; log densities group by group; gradients by another grouping."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from mlpath.bayes._shared import Draws
from mlpath.bayes.hamiltonian_monte_carlo import sample


@dataclass(frozen=True)
class Model:
    effects: np.ndarray
    errors: np.ndarray
    mean_scale: float = 5.0
    spread_scale: float = 5.0

    def __post_init__(self):
        if self.effects.ndim != 1 or self.effects.size == 0 or not np.isfinite(self.effects).all():
            raise ValueError(f"effects must be finite, got {self.effects}")
        if self.errors.shape != self.effects.shape or not ((self.errors > 0) & np.isfinite(self.errors)).all():
            raise ValueError(f"errors must be positive, got {self.errors}")
        for name in ("mean_scale", "spread_scale"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be positive")


@dataclass(frozen=True)
class Conditional:
    mean: np.ndarray
    variance: np.ndarray
    group_means: np.ndarray
    group_variances: np.ndarray


@dataclass(frozen=True)
class Moments:
    mean: np.ndarray
    sd: np.ndarray


@dataclass(frozen=True)
class Pooled:
    complete: np.ndarray
    none: np.ndarray
    partial: np.ndarray


def shrinkage(tau, errors):
    return np.array([[1 - e**2 / (e**2 + value**2) for e in errors] for value in tau])


def conditional_moments(model, tau):
    means, variances, groups, spreads = [], [], [], []
    for value, share in zip(tau, shrinkage(tau, model.errors)):
        precision = [1 / (e * e + value * value) for e in model.errors]
        variance = 1 / (sum(precision) + model.mean_scale**-2)
        mean = variance * sum(p * y for p, y in zip(precision, model.effects))
        means.append(mean)
        variances.append(variance)
        groups.append(mean + share * (model.effects - mean))
        spreads.append(variance - share * (2 - share) * variance + share * model.errors**2)
    return Conditional(np.array(means), np.array(variances), np.array(groups), np.array(spreads))


def log_marginal(model, tau):
    out = []
    for value in tau:
        covariance = np.diag(model.errors**2 + value**2) + model.mean_scale**2
        _, log_determinant = np.linalg.slogdet(covariance)
        square = model.effects @ np.linalg.solve(covariance, model.effects)
        out.append(-(log_determinant + square) / 2 - math.log1p((value / model.spread_scale) ** 2))
    return np.array(out)


def log_tau_grid(model, n_points=2001):
    scales = np.array([model.spread_scale, model.errors.min(), np.ptp(model.effects) + model.errors.max()])
    return np.linspace(np.log(scales[:2].min()) - 20, np.log(np.append(scales, model.mean_scale).max()) + 12, n_points)


def exact_moments(model, log_tau):
    given = conditional_moments(model, np.exp(log_tau))
    log_weight = np.array([log_marginal(model, np.array([math.exp(t)]))[0] + t for t in log_tau])
    weight = np.exp(log_weight - special.logsumexp(log_weight))
    columns = [(given.mean, given.variance), (log_tau, 0 * log_tau)]
    columns += list(zip(given.group_means.T, given.group_variances.T))
    mean = [weight @ m for m, _ in columns]
    return Moments(
        np.array(mean), np.array([math.sqrt(weight @ v + weight @ (m - e) ** 2) for (m, v), e in zip(columns, mean)])
    )


def _prior(model, mean, t):
    """Log prior of mean and t, and its derivatives."""
    log_ratio = 2 * (t - math.log(model.spread_scale))
    value = -((mean / model.mean_scale) ** 2) / 2 + t + special.log_expit(-log_ratio)
    return value, -mean / model.mean_scale**2, 1 - 2 * special.expit(log_ratio)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def centred(model, position):
    densities, gradient = np.zeros(len(position)), np.zeros(position.shape)
    for i, (mean, t, *theta) in enumerate(position):
        densities[i], gradient[i, 0], gradient[i, 1] = _prior(model, mean, t)
        for j, (y, e, effect) in enumerate(zip(model.effects, model.errors, theta), start=2):
            z = (effect - mean) / np.exp(t)
            densities[i] -= ((y - effect) / e) ** 2 / 2 + z * z / 2 + t
            gradient[i, 0] += z / np.exp(t)
            gradient[i, 1] += z * z - 1
            gradient[i, j] = (y - effect) / e**2 - z / np.exp(t)
    return densities, gradient


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def non_centred(model, position):
    densities, gradient = np.zeros(len(position)), np.zeros(position.shape)
    for i, (mean, t, *eta) in enumerate(position):
        densities[i], gradient[i, 0], gradient[i, 1] = _prior(model, mean, t)
        for j, (y, e, z) in enumerate(zip(model.effects, model.errors, eta), start=2):
            misfit = (y - mean - np.exp(t) * z) / e**2
            densities[i] -= (misfit * e) ** 2 / 2 + z * z / 2
            gradient[i, 0] += misfit
            gradient[i, 1] += misfit * np.exp(t) * z
            gradient[i, j] = misfit * np.exp(t) - z
    return densities, gradient


def to_centred(position):
    out = np.array(position, dtype=float)
    out[..., 2:] *= np.exp(out[..., 1])[..., None]
    out[..., 2:] += out[..., 0][..., None]
    return out


def pool(values, groups, sd):
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"values must be finite, got {values}")
    if groups.shape != values.shape or sorted(set(groups.tolist())) != list(range(groups.max() + 1)):
        raise ValueError(f"groups must be numbered from 0, got {groups}")
    if not 0 < sd < math.inf:
        raise ValueError(f"sd must be positive, got {sd}")
    parts = [values[groups == j] for j in range(groups.max() + 1)]
    means = np.array([part.mean() for part in parts])
    model = Model(means, np.array([sd / math.sqrt(len(part)) for part in parts]))
    partial = exact_moments(model, log_tau_grid(model)).mean[2:]
    return Pooled(np.repeat(values.mean(), len(parts)), means, partial)


def run(model, *, is_centred, rng, n_chains=4, n_draws=1000, n_warm_up=500, n_steps=10):
    form = centred if is_centred else non_centred
    start = rng.uniform(-1, 1, (n_chains, len(model.effects) + 2))
    found = sample(
        lambda x: form(model, x)[0],
        lambda x: form(model, x)[1],
        start,
        n_draws,
        n_steps=n_steps,
        n_warm_up=n_warm_up,
        rng=rng,
    )
    draws = found.draws if is_centred else to_centred(found.draws)
    return Draws(draws, found.log_density, found.acceptance_rate, found.divergent, found.step_size, found.inverse_mass)
