"""Keeps logarithms throughout, resamples by other schemes, and goes back for all paths at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlpath.bayes.particle_filter.resampling import residual, stratified


@dataclass(frozen=True)
class StateSpace:
    initial: Callable
    transition: Callable
    log_transition: Callable
    log_likelihood: Callable


@dataclass(frozen=True)
class Cloud:
    states: np.ndarray
    weights: np.ndarray
    log_evidence: float


def _log_sum(x):
    if np.isnan(x).any() or (x == np.inf).any() or np.isneginf(x).all():
        raise ValueError("log weights must be finite somewhere, and never NaN or +inf")
    return x.max() + np.log(np.exp(x - x.max()).sum())


def _log(weights):
    return np.log(weights, out=np.full(len(weights), -np.inf), where=weights > 0)


def _weights(log_weights):
    weights = np.exp(log_weights - _log_sum(log_weights))
    return weights / weights.sum()


def weighted_mean(cloud):
    return np.average(cloud.states, axis=0, weights=cloud.weights)


def first_cloud(model, observation, n_particles, *, rng):
    if n_particles <= 0:
        raise ValueError(f"n_particles must be positive, got {n_particles}")
    states = model.initial(n_particles, rng=rng)
    log_g = model.log_likelihood(states, observation)
    return Cloud(states, _weights(log_g), float(_log_sum(log_g) - np.log(n_particles)))


def sis_step(model, cloud, observation, *, rng):
    states = model.transition(cloud.states, rng=rng)
    joint = _log(cloud.weights) + model.log_likelihood(states, observation)
    return Cloud(states, _weights(joint), float(cloud.log_evidence + _log_sum(joint)))


def sir_step(model, cloud, observation, *, threshold=0.5, rng):
    if np.isnan(threshold) or threshold < 0:
        raise ValueError(f"threshold must not be negative, got {threshold}")
    n = len(cloud.states)
    if threshold * n * (cloud.weights**2).sum() * (1 - 1e-12) > 1:
        chosen = residual(cloud.weights, n, rng=rng)
        cloud = Cloud(cloud.states[chosen], np.ones(n) / n, cloud.log_evidence)
    return sis_step(model, cloud, observation, rng=rng)


def auxiliary_step(model, cloud, observation, *, predict, rng):
    guessed = model.log_likelihood(predict(cloud.states), observation)
    first = _log(cloud.weights) + guessed
    chosen = stratified(_weights(first), len(first), rng=rng)
    states = model.transition(np.take(cloud.states, chosen, axis=0), rng=rng)
    second = model.log_likelihood(states, observation) - guessed[chosen]
    gained = _log_sum(first) + _log_sum(second) - np.log(len(second))
    return Cloud(states, _weights(second), float(cloud.log_evidence + gained))


def run_filter(model, observations, n_particles, *, step=sir_step, rng):
    cloud, clouds = None, []
    for observation in observations:
        if cloud is None:
            cloud = first_cloud(model, observation, n_particles, rng=rng)
        else:
            cloud = step(model, cloud, observation, rng=rng)
        clouds.append(cloud)
    if not clouds:
        raise ValueError("observations must not be empty")
    return clouds


def draw_backwards(model, clouds, n_paths, *, rng):
    if not clouds:
        raise ValueError("clouds must not be empty")
    if n_paths < 1:
        raise ValueError(f"n_paths must be positive, got {n_paths}")
    last = clouds[-1]
    paths = np.empty((n_paths, len(clouds), last.states.shape[1]))
    paths[:, -1] = last.states[rng.choice(len(last.weights), n_paths, p=last.weights)]
    for t in reversed(range(len(clouds) - 1)):
        n, states = len(clouds[t].weights), clouds[t].states
        pairs = np.tile(states, (n_paths, 1)), np.repeat(paths[:, t + 1], n, axis=0)
        log_joint = _log(clouds[t].weights) + model.log_transition(*pairs).reshape(n_paths, n)
        paths[:, t] = states[np.argmax(log_joint + rng.gumbel(size=log_joint.shape), axis=1)]
    return paths
