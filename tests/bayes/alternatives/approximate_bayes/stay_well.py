"""Solves normal equations, counts those who stay well, and asks for as many proposals as may be missing."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mlpath.bayes._shared import evaluate


@dataclass(frozen=True)
class Model:
    draw_prior: object
    log_prior: object
    simulate: object


@dataclass(frozen=True)
class Population:
    theta: np.ndarray
    summaries: np.ndarray
    distance: np.ndarray
    weights: np.ndarray
    n_proposals: int


def boarding_school():
    return np.array([3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4])


def distances(summaries, observed, scale):
    if observed.shape != summaries.shape[1:] or not np.isfinite(observed).all():
        raise ValueError(f"observed must fit the summaries, got {observed}")
    if scale.shape != observed.shape or not np.isfinite(scale).all() or not (scale > 0).all():
        raise ValueError(f"scale must be positive, got {scale}")
    return np.linalg.norm((summaries - observed) / scale, axis=1)


def simulate(model, theta, *, rng):
    summaries = np.asarray(model.simulate(theta, rng=rng), dtype=float)
    if summaries.ndim != 2 or len(summaries) != len(theta) or not np.isfinite(summaries).all():
        raise ValueError(f"model must simulate finite summaries, got shape {summaries.shape}")
    return summaries


def mad_scale(summaries):
    if summaries.ndim != 2 or not len(summaries) or not np.isfinite(summaries).all():
        raise ValueError(f"summaries must be finite, got {summaries}")
    scale = []
    for column in summaries.T:
        middle = np.quantile(column, 0.5)
        scale.append(np.quantile(abs(column - middle), 0.5))
        if scale[-1] == 0:
            raise ValueError(f"summaries must vary, got {middle} for more than half")
    return np.array(scale)


def keep_nearest(theta, summaries, observed, n_kept, *, scale):
    if n_kept < 1 or n_kept > len(theta):
        raise ValueError(f"n_kept must be possible, got {n_kept}")
    distance = distances(summaries, observed, scale)
    rows = sorted(np.argpartition(distance, n_kept - 1)[:n_kept], key=lambda i: distance[i])
    return Population(theta[rows], summaries[rows], distance[rows], np.ones(n_kept) / n_kept, len(distance))


def regression_adjust(population, observed):
    if observed.shape != population.summaries.shape[1:]:
        raise ValueError(f"observed must fit, got {observed}")
    if len(population.theta) < len(observed) + 2:
        raise ValueError(f"population must be larger, got {len(population.theta)}")
    if np.ptp(population.distance) <= 0:
        raise ValueError("population must have distances that differ")
    ratio = population.distance / population.distance.max()
    weights = (1 - ratio) * (1 + ratio)
    weights = weights / weights.sum()
    off = population.summaries - observed
    middle, level = weights @ off, weights @ population.theta
    around = off - middle
    slopes = np.linalg.solve((around.T * weights) @ around, (around.T * weights) @ (population.theta - level))
    return replace(population, theta=population.theta - off @ slopes, weights=weights)


def outbreak(rates, *, n_days, n_people, n_infected=1, n_steps=4, rng):
    if rates.ndim != 2 or rates.shape[1] != 2 or not np.isfinite(rates).all() or (rates < 0).any():
        raise ValueError(f"rates must be rates, got {rates}")
    for name, number in (("n_days", n_days), ("n_people", n_people), ("n_steps", n_steps)):
        if number < 1:
            raise ValueError(f"{name} must be positive, got {number}")
    if n_infected < 0 or n_infected > n_people:
        raise ValueError(f"n_infected must be possible, got {n_infected}")
    never = np.full(len(rates), n_people - n_infected)  # susceptible
    ever = np.full(len(rates), n_infected)
    days = []
    for step in range(1, n_days * n_steps + 1):
        stay_ill = rng.binomial(ever, np.exp(-rates[:, 1] / n_steps))
        stay_well = rng.binomial(never, np.exp(-rates[:, 0] * ever / n_people / n_steps))
        ever, never = stay_ill + never - stay_well, stay_well
        if step % n_steps == 0:
            days.append(ever)
    return np.stack(days, axis=1)


def accept_first(model, observed, propose, n, *, tolerance, scale, max_proposals, rng):
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not (tolerance > 0 and np.isfinite(tolerance)):
        raise ValueError(f"tolerance must be positive, got {tolerance}")
    parts, nearest, made, count = [], np.inf, 0, 0
    while count < n:
        left = max_proposals - made
        if left <= 0:
            raise ValueError(
                f"tolerance must be in reach: {count} found, the nearest at {nearest:.4g}, got {tolerance}"
            )
        size = min(left, max(1, (3 * (n - count)) // 2))
        theta = propose(size, rng=rng)
        number = made + np.arange(1, size + 1)
        made += size
        allowed = np.isfinite(evaluate(model.log_prior, theta))
        theta, number = theta[allowed], number[allowed]
        if not len(theta):
            continue
        summaries = simulate(model, theta, rng=rng)
        distance = distances(summaries, observed, scale)
        nearest = min(nearest, distance.min())
        good = distance <= tolerance
        parts.append((theta[good], summaries[good], distance[good], number[good]))
        count += good.sum()
    theta, summaries, distance, number = (np.concatenate(column)[:n] for column in zip(*parts, strict=True))
    return Population(theta, summaries, distance, np.ones(n) / n, int(number[n - 1]))


def importance_weights(theta, log_prior, population, covariance):
    precision = np.linalg.inv(covariance)
    used = population.weights > 0
    centres, log_weights = population.theta[used], np.log(population.weights[used])
    logs = np.empty(len(theta))
    for i, point in enumerate(theta):
        off = point - centres
        logs[i] = log_prior[i] - np.logaddexp.reduce(log_weights - np.einsum("ni,ij,nj->n", off, precision, off) / 2)
    raw = np.exp(logs - logs.max())
    return raw / raw.sum()


def renew(model, observed, population, *, tolerance, scale, max_proposals, rng):
    weights = population.weights
    off = population.theta - weights @ population.theta
    covariance = 2 * (off.T * weights) @ off
    values, axes = np.linalg.eigh(covariance)
    if values.min() <= 0:
        raise np.linalg.LinAlgError("the population lies in a plane")

    def propose(size, *, rng):
        jolts = rng.standard_normal((size, len(values))) * np.sqrt(values) @ axes.T
        steps = np.cumsum(weights)
        return population.theta[np.searchsorted(steps / steps[-1], rng.random(size), side="right")] + jolts

    settings = {"tolerance": tolerance, "scale": scale, "max_proposals": max_proposals, "rng": rng}
    found = accept_first(model, observed, propose, len(weights), **settings)
    log_prior = np.asarray(model.log_prior(found.theta))
    return replace(found, weights=importance_weights(found.theta, log_prior, population, covariance))


def sample(model, observed, n, *, tolerances, scale, max_proposals=1_000_000, rng):
    falling = list(tolerances)
    good = falling and all(t > 0 for t in falling) and all(b < a for a, b in pairwise(falling))
    if not good:
        raise ValueError(f"tolerances must fall, got {tolerances}")
    settings = {"scale": scale, "max_proposals": max_proposals, "rng": rng}
    found = []
    for tolerance in falling:
        if not found:
            first = accept_first(model, observed, model.draw_prior, n, tolerance=tolerance, **settings)
            found.append(first)
        else:
            found.append(renew(model, observed, found[-1], tolerance=tolerance, **settings))
    return found
