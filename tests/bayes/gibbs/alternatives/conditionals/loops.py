"""Coordinates in loops, factors of the precision, uniform numbers among cumulated probabilities, random scans chain by chain."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ChangePoints:
    change: np.ndarray
    rates: np.ndarray


def _checked(position, mean, precision, block):
    if mean.ndim != 1 or not np.isfinite(mean).all():
        raise ValueError(f"mean must be finite, got {mean}")
    if position.ndim != 2 or position.shape[1] != len(mean) or not np.isfinite(position).all():
        raise ValueError(f"position must be finite, got {position}")
    _precise(precision, len(mean))
    _block(block, len(mean))


def _precise(precision, dim):
    good = precision.shape == (dim, dim) and np.isfinite(precision).all() and np.allclose(precision, precision.T)
    if not good or np.linalg.eigvalsh(precision).min() <= 0:
        raise ValueError(f"precision must be positive definite, got {precision}")


def _block(block, dim):
    if block.ndim != 1 or not 0 < len(block) == len(set(block.tolist())) or min(block) < 0 or max(block) >= dim:
        raise ValueError(f"block must name coordinates, got {block}")


def conditional(position, mean, precision, block):
    _checked(position, mean, precision, block)
    own = precision[block][:, block]
    force = np.zeros((len(position), len(block)))
    for j in range(len(mean)):
        if j not in block:
            force -= np.outer(position[:, j] - mean[j], precision[j, block])
    return mean[block] + np.linalg.solve(own, force.T).T, np.linalg.solve(own, np.eye(len(block)))


def redraw(position, mean, precision, block, *, rng):
    centre, _ = conditional(position, mean, precision, block)
    factor = np.linalg.cholesky(precision[block][:, block])
    noise = np.linalg.solve(factor.T, rng.standard_normal(centre.T.shape)).T
    new = np.array(position, dtype=float)
    new[:, block] = centre + noise
    return new


def sweep_matrix(precision, blocks):
    dim = precision.shape[0]
    _precise(precision, dim)
    columns = np.eye(dim)
    for block in blocks:
        _block(block, dim)
        columns = columns.copy()
        columns[block] = conditional(columns.T, np.zeros(dim), precision, block)[0].T
    return columns


def sample_normal(position, mean, precision, n_draws, *, blocks, scan="systematic", rng):
    if n_draws <= 0:
        raise ValueError(f"n_draws must be positive, got {n_draws}")
    if scan not in {"systematic", "random"}:
        raise ValueError(f"scan must be known, got {scan}")
    if set(range(len(mean))) - set(np.concatenate(blocks).tolist()):
        raise ValueError(f"blocks must cover everything, got {blocks}")
    path = []
    for _ in range(n_draws):
        if scan == "systematic":
            for block in blocks:
                position = redraw(position, mean, precision, block, rng=rng)
        else:
            plan = rng.choice(len(blocks), size=(len(blocks), len(position)))
            for choice in plan:
                proposals = np.stack([redraw(position, mean, precision, block, rng=rng) for block in blocks])
                position = proposals[choice, np.arange(len(position))]
        path.append(position)
    return np.stack(path, axis=1)


def _prior(counts, shape, rate):
    if counts.ndim != 1 or len(counts) < 2 or (counts < 0).any():
        raise ValueError(f"counts must be counts, got {counts}")
    if not 0 < shape < math.inf:
        raise ValueError(f"shape must be positive, got {shape}")
    if not 0 < rate < math.inf:
        raise ValueError(f"rate must be positive, got {rate}")


def draw_rates(counts, change, *, shape, rate, rng):
    _prior(counts, shape, rate)
    if change.ndim != 1 or (change < 1).any() or (change >= len(counts)).any():
        raise ValueError(f"change must be inside, got {change}")
    after = [rng.gamma(shape + counts[c:].sum()) / (rate + len(counts[c:])) for c in change]
    before = [rng.gamma(shape + counts[:c].sum()) / (rate + c) for c in change]
    return np.array([before, after]).T


def log_change_given_rates(counts, rates):
    _prior(counts, 1.0, 1.0)
    if rates.ndim != 2 or rates.shape[1] != 2 or not (np.isfinite(rates) & (rates > 0)).all():
        raise ValueError(f"rates must be positive, got {rates}")
    years = np.log(rates)[:, :, None] * counts - rates[:, :, None]
    gain = np.cumsum(years[:, 0] - years[:, 1], axis=1)[:, :-1]
    gain = gain - gain.max(axis=1, keepdims=True)
    return gain - np.log(np.exp(gain).sum(axis=1, keepdims=True))


def log_change_posterior(counts, *, shape, rate):
    _prior(counts, shape, rate)

    def evidence(part):
        s = shape + float(part.sum())
        return math.lgamma(s) - s * math.log(rate + len(part))

    log_p = np.array([evidence(counts[:c]) + evidence(counts[c:]) for c in range(1, len(counts))])
    log_p -= log_p.max()
    return log_p - math.log(np.exp(log_p).sum())


def sample_change_point(counts, change, n_draws, *, shape, rate, rng):
    if n_draws < 1:
        raise ValueError(f"n_draws must be positive, got {n_draws}")
    pairs = []
    for _ in range(n_draws):
        rates = draw_rates(counts, change, shape=shape, rate=rate, rng=rng)
        upto = np.cumsum(np.exp(log_change_given_rates(counts, rates)), axis=1)
        u = upto[:, -1:] * rng.random((len(rates), 1))
        change = 1 + (upto < u).sum(axis=1)
        pairs.append((change, rates))
    return ChangePoints(np.stack([c for c, _ in pairs], axis=1), np.stack([r for _, r in pairs], axis=1))
