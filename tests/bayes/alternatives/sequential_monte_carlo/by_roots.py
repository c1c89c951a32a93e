"""Finds temperatures by a secant on the logarithm, resamples by another scheme, and moves particle by particle."""

from dataclasses import dataclass, replace

import numpy as np

from mlpath.bayes._shared import evaluate
from mlpath.bayes.particle_filter.resampling import stratified


@dataclass(frozen=True)
class Population:
    position: np.ndarray
    log_prior: np.ndarray
    log_likelihood: np.ndarray


@dataclass(frozen=True)
class Annealed:
    population: Population
    log_evidence: float
    temperatures: np.ndarray
    acceptance_rate: np.ndarray


def tempered(log_prior, log_likelihood, temperature):
    if not (temperature >= 0 and temperature <= 1):
        raise ValueError(f"temperature must lie between 0 and 1, got {temperature}")
    if temperature == 0:
        return np.array(log_prior)
    return np.array([p + temperature * q for p, q in zip(log_prior.tolist(), log_likelihood.tolist())])


def _log_sum(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


def share_left(log_likelihood, rise):
    if not (np.isfinite(rise) and rise >= 0):
        raise ValueError(f"rise must not be negative, got {rise}")
    possible = log_likelihood[log_likelihood > -np.inf]
    if not possible.size:
        raise ValueError("log_likelihood must be finite somewhere")
    return float(np.exp(2 * _log_sum(rise * possible) - _log_sum(2 * rise * possible) - np.log(possible.size)))


def next_temperature(log_likelihood, temperature, *, ess_share):
    if not (temperature >= 0 and temperature < 1):
        raise ValueError(f"temperature must lie below 1, got {temperature}")
    if not (ess_share > 0 and ess_share < 1):
        raise ValueError(f"ess_share must lie between 0 and 1, got {ess_share}")
    low, high = 0.0, 1 - temperature
    if share_left(log_likelihood, high) >= ess_share:
        return 1.0
    while high - low > 1e-13 * high:
        middle = high / 3 if low == 0 else (low * high) ** 0.5 if high > 4 * low else (low + high) / 2
        if share_left(log_likelihood, middle) < ess_share:
            high = middle
        else:
            low = middle
    return temperature + low


def climb(population, rise, *, rng):
    if not (rise > 0 and rise < np.inf):
        raise ValueError(f"rise must be positive, got {rise}")
    raw = rise * population.log_likelihood
    if np.isneginf(raw).all():
        raise ValueError("log_likelihood must be finite somewhere")
    total = _log_sum(raw)
    weights = np.exp(raw - total)
    chosen = rng.permutation(stratified(weights / weights.sum(), len(raw), rng=rng))
    fields = {name: np.take(array, chosen, axis=0) for name, array in vars(population).items()}
    return replace(population, **fields), float(total - np.log(len(raw)))


def step_factor(position):
    centred = position - position.mean(axis=0)
    dim = centred.shape[1]
    if np.linalg.matrix_rank(centred) < dim:
        raise np.linalg.LinAlgError("the particles lie in a plane")
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    return 2.38 / np.sqrt(dim * (len(position) - 1)) * axes.T * values


def move(log_prior_fn, log_likelihood_fn, population, temperature, *, factor, rng):
    dim = population.position.shape[1]
    proposed = np.array([x + factor @ rng.standard_normal(dim) for x in population.position])
    there = Population(proposed, evaluate(log_prior_fn, proposed), evaluate(log_likelihood_fn, proposed))
    new, old = (tempered(p.log_prior, p.log_likelihood, temperature) for p in (there, population))
    accepted = np.array([rng.random() < np.exp(min(0.0, float(a - b))) for a, b in zip(new, old)])
    fields = {name: array.copy() for name, array in vars(population).items()}
    for name, array in vars(there).items():
        fields[name][accepted] = array[accepted]
    return Population(**fields), accepted


def rise_once(log_prior_fn, log_likelihood_fn, population, temperature, *, ess_share, n_moves, rng):
    if n_moves < 1:
        raise ValueError(f"n_moves must be positive, got {n_moves}")
    after = next_temperature(population.log_likelihood, temperature, ess_share=ess_share)
    population, gained = climb(population, after - temperature, rng=rng)
    shape, taken = step_factor(population.position), 0
    for _ in range(n_moves):
        population, accepted = move(log_prior_fn, log_likelihood_fn, population, after, factor=shape, rng=rng)
        taken += accepted.sum()
    return population, after, gained, taken / (n_moves * len(population.log_prior))


def sample(log_prior_fn, log_likelihood_fn, position, *, ess_share=0.5, n_moves=5, max_rises=1000, rng):
    if position.ndim != 2 or position.shape[0] <= position.shape[1] or not np.isfinite(position).all():
        raise ValueError(f"position must be a finite matrix, got shape {position.shape}")
    population = Population(position, evaluate(log_prior_fn, position), evaluate(log_likelihood_fn, position))
    if population.log_prior.min() == -np.inf:
        raise ValueError("position must have prior density everywhere")
    rows, ladder, settings = [], [0.0], {"ess_share": ess_share, "n_moves": n_moves, "rng": rng}
    for _ in range(max_rises):
        population, *row = rise_once(log_prior_fn, log_likelihood_fn, population, ladder[-1], **settings)
        rows.append(row)
        ladder.append(row[0])
        if ladder[-1] == 1:
            _, factors, rates = zip(*rows)
            return Annealed(population, float(sum(factors)), np.array(ladder), np.array(rates))
    raise ValueError(f"max_rises must be larger, got {max_rises}")
