"""Updates the Cholesky factor column by column, sums outer products, and draws coins before steps."""

from dataclasses import dataclass, replace

import numpy as np

from mlpath.bayes._shared import evaluate
from mlpath.bayes.metropolis_hastings import State


@dataclass(frozen=True)
class Moments:
    count: int
    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Walked:
    state: State
    proposed: State
    noise: np.ndarray
    log_acceptance: np.ndarray
    accepted: np.ndarray


@dataclass(frozen=True)
class Adapted:
    draws: np.ndarray
    log_density: np.ndarray
    acceptance_rate: np.ndarray
    factor: np.ndarray


def _begin(log_density_fn, position, n_draws, factor, n_adapt):
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be a finite matrix, got shape {position.shape}")
    if n_draws < 1:
        raise ValueError(f"n_draws must be positive, got {n_draws}")
    if n_adapt < 0:
        raise ValueError(f"n_adapt must not be negative, got {n_adapt}")
    dim = position.shape[1]
    good = factor.shape == (dim, dim) and np.isfinite(factor).all() and np.array_equal(np.tril(factor), factor)
    if not good or factor.diagonal().min() <= 0:
        raise ValueError(f"factor must be lower triangular and regular, got {factor}")
    state = State(position.astype(float), evaluate(log_density_fn, position.astype(float)))
    if np.isneginf(state.log_density).any():
        raise ValueError("position must have density, got a start without")
    return state, np.stack([factor.astype(float)] * len(position))


def step_factor(covariance, *, epsilon):
    if not (epsilon > 0 and np.isfinite(epsilon)):
        raise ValueError(f"epsilon must be positive, got {epsilon}")
    safe = covariance.copy()
    dim = safe.shape[2]
    for i in range(dim):
        safe[:, i, i] += epsilon
    return 2.38 / np.sqrt(dim) * np.array([np.linalg.cholesky(c) for c in safe])


def update_moments(moments, position):
    n = moments.count
    mean = (n * moments.mean + position) / (n + 1) if n < 3 else moments.mean + (position - moments.mean) / (n + 1)
    before, after = position - moments.mean, position - mean
    total = (n - 1) * moments.covariance + np.einsum("ni,nj->nij", before, after)
    return Moments(n + 1, mean, total / n)


def walk(log_density_fn, state, *, factor, rng):
    coins = np.log1p(-rng.random(len(state.position)))
    noise = np.array([rng.standard_normal(state.position.shape[1]) for _ in coins])
    position = state.position + np.einsum("nij,nj->ni", factor, noise)
    proposed = State(position, evaluate(log_density_fn, position))
    log_alpha = np.minimum(proposed.log_density - state.log_density, 0.0)
    accepted = coins < log_alpha
    position, log_density = state.position.astype(float), state.log_density.copy()
    position[accepted], log_density[accepted] = proposed.position[accepted], proposed.log_density[accepted]
    return Walked(State(position, log_density), proposed, noise, log_alpha, accepted)


def _run(log_density_fn, state, factors, n_draws, adapt, rng):
    states, taken = [], []
    for t in range(n_draws):
        walked = walk(log_density_fn, state, factor=factors, rng=rng)
        state = walked.state
        states.append(state)
        taken.append(walked.accepted)
        factors = adapt(t + 1, walked, factors)
    draws = np.stack([s.position for s in states], axis=1)
    return Adapted(draws, np.stack([s.log_density for s in states], axis=1), np.mean(taken, axis=0), factors)


def sample_adaptive(log_density_fn, position, n_draws, *, factor, n_first, n_adapt, epsilon=1e-6, rng):
    if n_first < 1:
        raise ValueError(f"n_first must be positive, got {n_first}")
    state, factors = _begin(log_density_fn, position, n_draws, factor, n_adapt)
    points = [state.position]

    def adapt(t, walked, factors):
        points.append(walked.state.position)
        if t < n_first or t > n_adapt:
            return factors
        off = np.array(points) - np.mean(points, axis=0)
        return step_factor(np.einsum("tni,tnj->nij", off, off) / t, epsilon=epsilon)

    return _run(log_density_fn, state, factors, n_draws, adapt, rng)


def coerce_factor(factor, noise, acceptance, n, *, target_rate, decay):
    if n < 1:
        raise ValueError(f"n must be positive, got {n}")
    if not (target_rate > 0 and target_rate < 1):
        raise ValueError(f"target_rate must be a rate, got {target_rate}")
    if not (decay > 0.5 and decay <= 1):
        raise ValueError(f"decay must be above a half, got {decay}")
    largest = np.abs(noise).max(axis=1, keepdims=True)
    unit = noise / largest / np.sqrt(((noise / largest) ** 2).sum(axis=1, keepdims=True))
    left = min(1.0, noise.shape[1] / n**decay) * (acceptance - target_rate)
    updated = np.zeros(factor.shape)
    for j in range(noise.shape[1]):
        # What is left of the first j variables is I + left v v^T: equation (7).
        length = np.sqrt(1 + left * unit[:, j] ** 2)
        column = (left * unit[:, j] / length)[:, None] * unit
        column[:, :j], column[:, j] = 0.0, length
        updated[:, :, j] = np.einsum("nij,nj->ni", factor, column)
        left = left / length**2
    return np.tril(updated)


def sample_robust(log_density_fn, position, n_draws, *, factor, n_adapt, target_rate=0.234, decay=2 / 3, rng):
    state, factors = _begin(log_density_fn, position, n_draws, factor, n_adapt)

    def adapt(t, walked, factors):
        if t > n_adapt:
            return factors
        alpha = np.exp(walked.log_acceptance)
        return coerce_factor(factors, walked.noise, alpha, t, target_rate=target_rate, decay=decay)

    return _run(log_density_fn, state, factors, n_draws, adapt, rng)


def log_second_acceptance(log_density, log_density_first, log_density_second, log_correction):
    result = np.empty(len(log_density))
    for i, (x, first, second, c) in enumerate(
        zip(log_density, log_density_first, log_density_second, log_correction, strict=True)
    ):
        if second == -np.inf or first >= second:
            result[i] = -np.inf
        elif first >= x:
            result[i] = 0.0
        else:
            there, back = np.log(-np.expm1(first - x)), np.log(-np.expm1(first - second))
            result[i] = min(0.0, second - x + back - there + c)
    return result


def delayed_step(log_density_fn, state, *, factor, shrink, rng):
    if not (shrink > 0 and shrink < np.inf):
        raise ValueError(f"shrink must be positive, got {shrink}")
    first = walk(log_density_fn, state, factor=factor, rng=rng)
    attempt = np.where(first.accepted, 1, 0).astype(np.int8)
    again = np.flatnonzero(~first.accepted)
    if not again.size:
        return first.state, attempt
    noise = shrink * rng.standard_normal((again.size, state.position.shape[1]))
    position = state.position[again] + np.einsum("nij,nj->ni", factor[again], noise)
    log_density = evaluate(log_density_fn, position)
    apart = first.noise[again] - noise
    c = ((first.noise[again] ** 2).sum(axis=1) - (apart**2).sum(axis=1)) / 2
    arguments = state.log_density[again], first.proposed.log_density[again], log_density, c
    taken = rng.random(again.size) < np.exp(log_second_acceptance(*arguments))
    attempt[again[taken]] = 2
    after = replace(first.state, position=first.state.position.copy(), log_density=first.state.log_density.copy())
    after.position[again[taken]], after.log_density[again[taken]] = position[taken], log_density[taken]
    return after, attempt
