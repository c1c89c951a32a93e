"""Masks over the whole batch, one search for lines and ellipses, uniform numbers for the level."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.bayes._shared import evaluate


@dataclass(frozen=True)
class State:
    position: np.ndarray
    log_density: np.ndarray


@dataclass(frozen=True)
class Interval:
    left: np.ndarray
    right: np.ndarray
    n_evaluations: np.ndarray


@dataclass(frozen=True)
class SliceDraws:
    draws: np.ndarray
    log_density: np.ndarray
    n_evaluations: np.ndarray


def _positive(width):
    if not np.all(np.asarray(width) > 0) or not np.all(np.isfinite(width)):
        raise ValueError(f"width must be positive, got {width}")


def draw_level(log_density, *, rng):
    return log_density + np.log1p(-rng.random(log_density.shape))


def _look(fn, points, live):
    """The log density where `live`, and -inf elsewhere."""
    values = np.full(len(points), -np.inf)
    values[live] = evaluate(fn, points[live])
    return values


def step_out(log_density_fn, position, direction, level, *, width, max_steps, rng):
    _positive(width)
    if max_steps < 1:
        raise ValueError(f"max_steps must be positive, got {max_steps}")
    right = width * rng.random(len(level))
    k = rng.integers(max_steps, size=len(level))
    ends, n = [], np.zeros(len(level), int)
    for end, sign, moves in ((right - width, -1, max_steps - 1 - k), (right, 1, k)):
        live = moves > 0
        while live.any():
            go = _look(log_density_fn, position + direction * end[:, None], live) >= level
            n = n + live
            end = end + sign * width * (go & live)
            moves = moves - (go & live)
            live = go & live & (moves > 0)
        ends.append(end)
    return Interval(ends[0], ends[1], n)


def _stuck(points, x):
    if np.any((points == x).all(axis=1)):
        raise ValueError("log_density_fn must be the same at each call")


def _search(fn, path, level, low, high, now, rng):
    """Shrink the bracket until all chains are in; `path` turns values of s or angles into points."""
    live, n = np.ones(len(level), bool), np.zeros(len(level), int)
    kept, found = np.zeros_like(path(now)), np.zeros(len(level))
    origin = path(np.zeros(len(level)))
    while True:
        points = path(now)
        values = _look(fn, points, live)
        n += live
        inside = live & (values >= level)
        kept[inside], found[inside] = points[inside], values[inside]
        live &= ~inside
        if not live.any():
            return State(kept, found), n
        _stuck(points[live], origin[live])
        low, high = np.where(live & (now < 0), now, low), np.where(live & (now >= 0), now, high)
        now = low + (high - low) * rng.random(len(level))


def shrink(log_density_fn, position, direction, level, interval, *, rng):
    low, high = interval.left, interval.right
    first = low + (high - low) * rng.random(len(level))
    return _search(log_density_fn, lambda s: position + s[:, None] * direction, level, low, high, first, rng)


def update_along(log_density_fn, state, direction, *, width, max_steps=50, rng):
    level = draw_level(state.log_density, rng=rng)
    found = step_out(log_density_fn, state.position, direction, level, width=width, max_steps=max_steps, rng=rng)
    after, n = shrink(log_density_fn, state.position, direction, level, found, rng=rng)
    return after, n + found.n_evaluations


def coordinate_sweep(log_density_fn, state, *, width, max_steps=50, rng):
    n_chains, dim = state.position.shape
    counts = []
    for i in range(dim):
        direction = np.zeros((n_chains, dim))
        direction[:, i] = width if np.ndim(width) == 0 else width[i]
        _positive(width)
        state, n = update_along(log_density_fn, state, direction, width=1.0, max_steps=max_steps, rng=rng)
        counts.append(n)
    return state, np.sum(counts, axis=0)


def random_direction_step(log_density_fn, state, *, width, max_steps=50, rng):
    z = rng.normal(size=state.position.shape)
    return update_along(
        log_density_fn, state, z / np.sqrt((z * z).sum(axis=1))[:, None], width=width, max_steps=max_steps, rng=rng
    )


def elliptical_step(log_likelihood_fn, state, *, mean, factor, rng):
    level = state.log_density - rng.exponential(size=len(state.log_density))
    nu = np.einsum("ij,nj->ni", factor, rng.normal(size=state.position.shape))
    theta = rng.uniform(0, 2 * math.pi, len(level))

    def path(angle):
        return mean + (state.position - mean) * np.cos(angle)[:, None] + nu * np.sin(angle)[:, None]

    return _search(log_likelihood_fn, path, level, theta - 2 * math.pi, theta, theta, rng)


def sample(log_density_fn, position, n_draws, *, update, rng):
    if position.ndim != 2 or 0 in position.shape or not np.isfinite(position).all():
        raise ValueError("position must be a finite matrix")
    if n_draws <= 0:
        raise ValueError("n_draws must be positive")
    state = State(position, evaluate(log_density_fn, position))
    if not np.isfinite(state.log_density).all():
        raise ValueError("position must have positive density")
    path = [(state, None)]
    while len(path) <= n_draws:
        path.append(update(log_density_fn, path[-1][0], rng=rng))
    return SliceDraws(
        np.stack([s.position for s, _ in path[1:]], axis=1),
        np.stack([s.log_density for s, _ in path[1:]], axis=1),
        np.stack([n for _, n in path[1:]], axis=1),
    )
