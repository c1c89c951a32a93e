"""Coins first and by uniform numbers, coordinates one by one, the matrix entry by entry, the path as a list."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.bayes._shared import Draws


@dataclass(frozen=True)
class State:
    position: np.ndarray
    log_density: np.ndarray


@dataclass(frozen=True)
class Move:
    position: np.ndarray
    log_correction: np.ndarray


def _check(scale):
    if not (np.asarray(scale) > 0).all() or np.isinf(scale).any():
        raise ValueError(f"scale must be positive, got {scale}")


def _log_alpha(here, there, correction):
    if there == -math.inf or correction == -math.inf:
        return -math.inf
    return min(0.0, there - here + correction)


def log_acceptance(log_density, log_density_proposed, log_correction):
    arrays = np.broadcast_arrays(log_density, log_density_proposed, log_correction)
    entries = [_log_alpha(*map(float, triple)) for triple in zip(*(a.ravel() for a in arrays))]
    return np.array(entries).reshape(arrays[0].shape)


def transition_matrix(log_density, proposal):
    if log_density.ndim != 1 or np.isnan(log_density).any() or np.isposinf(log_density).any():
        raise ValueError("log_density must be a vector of log probabilities")
    n = len(log_density)
    if proposal.shape != (n, n) or not np.all(proposal >= 0) or abs(proposal.sum(axis=1) - 1).max() > 1e-8:
        raise ValueError("proposal must be a matrix of probabilities")
    matrix = np.zeros((n, n))
    for i in range(n):
        stay = 1.0
        for j in range(n):
            if i != j and proposal[i, j] > 0 and proposal[j, i] > 0:
                correction = math.log(proposal[j, i] / proposal[i, j])
                matrix[i, j] = proposal[i, j] * math.exp(_log_alpha(log_density[i], log_density[j], correction))
                stay -= matrix[i, j]
        matrix[i, i] = max(stay, 0.0)
    return matrix


def random_walk(position, *, scale, rng):
    _check(scale)
    columns = [rng.normal(x, s) for x, s in zip(position.T, np.broadcast_to(scale, position.shape[1]))]
    return Move(np.array(columns).T, np.zeros(len(position)))


def independence(position, *, mean, scale, rng):
    _check(scale)
    scale = np.broadcast_to(scale, mean.shape)
    proposed = rng.normal(mean, scale, position.shape)
    correction = np.zeros(len(position))
    for i in range(len(mean)):
        correction -= (position[:, i] - mean[i]) ** 2 / (2 * scale[i] ** 2)
        correction += (proposed[:, i] - mean[i]) ** 2 / (2 * scale[i] ** 2)
    return Move(proposed, correction)


def log_normal_walk(position, *, scale, rng):
    _check(scale)
    if not np.all(position > 0):
        raise ValueError("position must be positive")
    proposed = rng.lognormal(np.log(position), scale)
    return Move(proposed, np.log(proposed).sum(axis=1) - np.log(position).sum(axis=1))


def step(log_density_fn, state, *, propose, rng):
    with np.errstate(divide="ignore"):
        coin = np.log(rng.random(len(state.position)))
    move = propose(state.position, rng=rng)
    log_density = log_density_fn(move.position)
    if np.shape(log_density) != coin.shape or not (log_density < np.inf).all():
        raise ValueError("log_density_fn must return one log density a row")
    accepted = coin < log_acceptance(state.log_density, log_density, move.log_correction)
    position, kept = state.position.copy(), np.array(state.log_density, dtype=float)
    position[accepted] = move.position[accepted]
    kept[accepted] = log_density[accepted]
    return State(position, kept), accepted


def sample(log_density_fn, position, n_draws, *, propose, rng):
    if position.ndim != 2 or 0 in position.shape or not np.isfinite(position).all():
        raise ValueError("position must be a finite matrix")
    if n_draws <= 0:
        raise ValueError("n_draws must be positive")
    log_density = log_density_fn(position)
    if np.shape(log_density) != (len(position),):
        raise ValueError("log_density_fn must return one value a row")
    if not np.isfinite(log_density).all():
        raise ValueError("position must have positive density")
    path, flags = [State(position, log_density)], []
    while len(path) <= n_draws:
        state, accepted = step(log_density_fn, path[-1], propose=propose, rng=rng)
        path.append(state)
        flags.append(accepted)
    draws = np.stack([state.position for state in path[1:]], axis=1)
    return Draws(draws, np.stack([state.log_density for state in path[1:]], axis=1), np.mean(flags, axis=0))
