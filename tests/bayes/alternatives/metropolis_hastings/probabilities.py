"""Coins tossed in advance, corrections from scipy's densities, the matrix in plain probabilities."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from mlpath.bayes._shared import Draws, evaluate


@dataclass(frozen=True)
class State:
    position: np.ndarray
    log_density: np.ndarray


@dataclass(frozen=True)
class Move:
    position: np.ndarray
    log_correction: np.ndarray


def _positive(scale):
    if np.any(~(np.asarray(scale) > 0)) or not np.all(np.isfinite(scale)):
        raise ValueError(f"scale must be positive, got {scale}")


def log_acceptance(log_density, log_density_proposed, log_correction):
    gain = np.nan_to_num(log_density_proposed, neginf=-np.inf) + log_correction
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(gain), gain, np.clip(gain - log_density, None, 0.0))


def transition_matrix(log_density, proposal):
    if np.ndim(log_density) != 1 or np.isnan(log_density).any() or log_density.max() == np.inf:
        raise ValueError("log_density must be a vector")
    if (
        proposal.shape != (log_density.size,) * 2
        or not np.min(proposal) >= 0
        or not np.allclose(proposal @ np.ones(len(proposal)), 1)
    ):
        raise ValueError("proposal must be a stochastic matrix")
    target = np.exp(log_density - log_density.max())
    flow = target[:, None] * proposal
    traffic = np.minimum(flow, flow.T)
    safe = np.where(target > 0, target, 1)[:, None]
    # From a state without density all that has a way back is taken.
    moves = np.where(target[:, None] > 0, traffic / safe, np.where((proposal.T > 0) & (target > 0), proposal, 0.0))
    moves = moves - np.diag(np.diag(moves))
    return moves + np.diag(1 - moves.sum(axis=1)).clip(0)


def random_walk(position, *, scale, rng):
    _positive(scale)
    return Move(stats.norm(position, scale).rvs(position.shape, random_state=rng), np.zeros(position.shape[0]))


def independence(position, *, mean, scale, rng):
    _positive(scale)
    g = stats.norm(mean, scale)
    proposed = g.rvs(position.shape, random_state=rng)
    return Move(proposed, (g.logpdf(position) - g.logpdf(proposed)).sum(1))


def log_normal_walk(position, *, scale, rng):
    _positive(scale)
    if not np.min(position) > 0:
        raise ValueError("position must be positive")
    proposed = np.exp(random_walk(np.log(position), scale=scale, rng=rng).position)
    forth = stats.lognorm.logpdf(proposed, scale, scale=position)
    return Move(proposed, (stats.lognorm.logpdf(position, scale, scale=proposed) - forth).sum(1))


def _step(log_density_fn, state, coin, propose):
    move = propose(state.position)
    log_density = evaluate(log_density_fn, move.position)
    accepted = coin < np.exp(log_acceptance(state.log_density, log_density, move.log_correction))
    moved = State(move.position, log_density)
    pick = [
        np.where(accepted.reshape(-1, *[1] * (new.ndim - 1)), new, old)
        for new, old in zip(vars(moved).values(), vars(state).values())
    ]
    return State(*pick), accepted


def step(log_density_fn, state, *, propose, rng):
    return _step(log_density_fn, state, rng.random(len(state.log_density)), partial(propose, rng=rng))


def sample(log_density_fn, position, n_draws, *, propose, rng):
    if np.ndim(position) != 2 or not np.size(position) or not np.all(np.isfinite(position)):
        raise ValueError("position must be a matrix of finite numbers")
    if not n_draws >= 1:
        raise ValueError("n_draws must be at least 1")
    state = State(position, evaluate(log_density_fn, position))
    if np.isinf(state.log_density).any():
        raise ValueError("position must have positive density")
    coins = rng.random((n_draws, len(position)))
    draws, log_density, accepted = zip(*_run(log_density_fn, state, coins, partial(propose, rng=rng)))
    return Draws(np.swapaxes(draws, 0, 1), np.transpose(log_density), np.mean(accepted, axis=0))


def _run(log_density_fn, state, coins, propose):
    for coin in coins:
        state, accepted = _step(log_density_fn, state, coin, propose)
        yield state.position, state.log_density, accepted
