"""Pieces found by search, shares of the whole turned into points, one point after the other where that is simple."""

import math
from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-8


@dataclass(frozen=True)
class Hull:
    x: np.ndarray
    height: np.ndarray
    slope: np.ndarray
    edges: np.ndarray


@dataclass(frozen=True)
class Outcome:
    accepted: np.ndarray
    x: np.ndarray
    height: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True)
class Adaptive:
    draws: np.ndarray
    n_tries: int
    n_evaluations: int
    hull: Hull


def evaluate_target(log_density_fn, x):
    height, slope = map(np.asarray, log_density_fn(x))
    if height.shape != x.shape or slope.shape != x.shape:
        raise ValueError(f"log_density_fn must return a value and a slope for each, got {height.shape}")
    if not np.isfinite(height + slope).all():
        raise ValueError(f"log_density_fn must be finite, got {height}")
    return height, slope


def intersections(x, height, slope):
    found = []
    for i in range(len(x) - 1):
        if slope[i] == slope[i + 1]:
            z = (x[i] + x[i + 1]) / 2
        else:
            # How far the right tangent, continued to the left point, is above the left one.
            gap = height[i + 1] - slope[i + 1] * (x[i + 1] - x[i]) - height[i]
            z = x[i] + gap / (slope[i] - slope[i + 1])
        found.append(min(max(z, x[i]), x[i + 1]))
    return np.array(found, dtype=float)


def log_mass(x, height, slope, left, right):
    found = []
    for x_i, h, s, y, z in zip(x, height, slope, left, right):
        top = h + s * (z - x_i) if s > 0 else h + s * (y - x_i)
        if y == z:
            found.append(-math.inf)
        elif abs(s) * (z - y) < 1e-15:
            found.append(top + math.log(z - y) - abs(s) * (z - y) / 2)
        else:
            found.append(top + math.log(-math.expm1(-abs(s) * (z - y))) - math.log(abs(s)))
    return np.array(found)


def piece_quantile(u, slope, left, right):
    found = []
    for v, s, y, z in zip(u, slope, left, right):
        if s > 0:  # the mirror image falls
            t, w = s * (z - y), z - y
            x = z - (w * (1 - v) if t < 1e-15 else -math.log1p((1 - v) * math.expm1(-t)) / s)
        else:
            t, w = -s * (z - y), z - y
            x = y + (w * v if t < 1e-15 else math.log1p(v * math.expm1(-t)) / s)
        found.append(min(max(x, y), z))
    return np.array(found)


def upper_hull(x, height, slope, *, lower=-math.inf, upper=math.inf):
    if len(x) == 0 or np.any(x[1:] <= x[:-1]) or lower > x[0] or upper < x[-1]:
        raise ValueError(f"x must increase within its support, got {x}")
    if (lower == -math.inf and slope[0] <= 0) or (upper == math.inf and slope[-1] >= 0):
        raise ValueError(f"x must reach the tails, got {x}")
    excess = [height[i] - min(height + slope * (x[i] - x)) for i in range(len(x))]
    worst = max(range(len(x)), key=excess.__getitem__)
    if excess[worst] > ROUNDING * max(1, abs(height[worst])):
        raise ValueError(f"log_density_fn must be concave in its logarithm, got {excess[worst]} too much at {x[worst]}")
    return Hull(x, height, slope, np.array([lower, *intersections(x, height, slope), upper]))


def bounds(hull, points):
    piece = np.searchsorted(hull.edges[1:-1], points)
    upper = hull.height[piece] + hull.slope[piece] * (points - hull.x[piece])
    lower = np.full(len(points), -np.inf)
    inside = (points >= hull.x[0]) & (points <= hull.x[-1])
    if len(hull.x) > 1:
        i = np.clip(np.searchsorted(hull.x, points[inside]) - 1, 0, len(hull.x) - 2)
        share = (points[inside] - hull.x[i]) / (hull.x[i + 1] - hull.x[i])
        lower[inside] = (1 - share) * hull.height[i] + share * hull.height[i + 1]
    else:
        lower[inside] = hull.height[0]
    return upper, lower


def draw(hull, n, *, rng):
    log_masses = log_mass(hull.x, hull.height, hull.slope, hull.edges[:-1], hull.edges[1:])
    masses = np.exp(log_masses - max(log_masses))
    cumulative = np.cumsum(masses) / masses.sum()
    piece = np.searchsorted(cumulative[:-1], rng.random(n), side="right")
    share = np.clip(1 - rng.random(n), 1e-15, 1 - 1e-15)
    return piece_quantile(share, hull.slope[piece], hull.edges[piece], hull.edges[piece + 1])


def accept(log_density_fn, hull, points, *, rng):
    upper, lower = bounds(hull, points)
    coin = np.log1p(-rng.random(len(points)))
    accepted = lower - upper >= coin
    open_ = np.flatnonzero(~accepted)
    if len(open_) == 0:
        return Outcome(accepted, np.array([]), np.array([]), np.array([]))
    x = points[open_]
    height, slope = evaluate_target(log_density_fn, x)
    for i, h in zip(open_, height):
        allowed = ROUNDING * max(1, abs(h))
        if not lower[i] - allowed <= h <= upper[i] + allowed:
            raise ValueError(f"log_density_fn must be concave in its logarithm, got {h} at {points[i]}")
        accepted[i] = h - upper[i] >= coin[i]
    return Outcome(accepted, x, height, slope)


def sample(
    log_density_fn,
    start,
    n_draws,
    *,
    lower=-math.inf,
    upper=math.inf,
    max_points=50,
    max_tries=1_000_000,
    rng,
):
    if n_draws < 1:
        raise ValueError(f"n_draws must be positive, got {n_draws}")
    if start.ndim != 1 or not np.all(np.isfinite(start)):
        raise ValueError(f"start must be a vector, got {start}")
    hull = upper_hull(start, *evaluate_target(log_density_fn, start), lower=lower, upper=upper)
    known = {x: (h, s) for x, h, s in zip(hull.x, hull.height, hull.slope)}
    draws, size, n_tries, n_evaluations = [], len(start), 0, len(start)
    while True:
        batch = min(size, n_draws - len(draws), max_tries - n_tries)
        if batch == 0:
            raise ValueError(f"max_tries must be larger, got {max_tries}")
        points = draw(hull, batch, rng=rng)
        outcome = accept(log_density_fn, hull, points, rng=rng)
        draws.extend(points[outcome.accepted])
        n_tries += batch
        n_evaluations += len(outcome.x)
        size *= 2
        for x, h, s in zip(outcome.x, outcome.height, outcome.slope):
            if len(known) < max_points:
                known.setdefault(x, (h, s))
        if len(known) > len(hull.x):
            x = sorted(known)
            h, s = np.array([known[p] for p in x]).T
            hull = upper_hull(np.array(x), h, s, lower=lower, upper=upper)
        if len(draws) == n_draws:
            return Adaptive(np.array(draws), n_tries, n_evaluations, hull)
