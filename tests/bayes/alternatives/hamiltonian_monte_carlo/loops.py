"""Chain by chain where that is simple, kicks merged into whole ones, coins first, matrices for every mass."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from mlpath.bayes._shared import Draws, evaluate, evaluate_gradient

LIMIT = 1000.0


@dataclass(frozen=True)
class State:
    position: np.ndarray
    log_density: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Transition:
    state: State
    probability: np.ndarray
    accepted: np.ndarray
    divergent: np.ndarray


@dataclass(frozen=True)
class Averaging:
    centre: np.ndarray
    error: np.ndarray
    log_step: np.ndarray
    log_average: np.ndarray
    n_updates: int


def velocity(momentum, inverse_mass):
    return momentum @ _matrix(inverse_mass)


def gradient_at(gradient_fn, position):
    gradient, finite = np.full(position.shape, np.nan), np.isfinite(position).all(axis=1)
    if finite.any():
        with np.errstate(all="ignore"):
            gradient[finite] = evaluate_gradient(gradient_fn, position[finite])
    return gradient


def log_density_at(log_density_fn, position):
    log_density, finite = np.full(len(position), np.nan), np.isfinite(position).all(axis=1)
    if finite.any():
        with np.errstate(all="ignore"):
            found = np.asarray(log_density_fn(position[finite]), dtype=np.float64)
        if found.shape != (finite.sum(),) or (found == np.inf).any():
            raise ValueError(f"log_density_fn must return a log density for each row, got {found}")
        log_density[finite] = found
    return log_density


def _matrix(inverse_mass):
    return np.diag(inverse_mass) if inverse_mass.ndim == 1 else inverse_mass


def kinetic_energy(momentum, inverse_mass):
    with np.errstate(all="ignore"):
        return np.array([p @ _matrix(inverse_mass) @ p / 2 for p in momentum])


def draw_momentum(inverse_mass, n_chains, *, rng):
    _check_mass(inverse_mass)
    mass = linalg.inv(_matrix(inverse_mass))
    root = linalg.cholesky((mass + mass.T) / 2, lower=True)
    return np.array([root @ rng.standard_normal(len(root)) for _ in range(n_chains)])


def leapfrog(gradient_fn, position, momentum, gradient, *, step_size, n_steps, inverse_mass):
    if n_steps == 0:
        return position.copy(), momentum.copy(), gradient.copy()
    size = np.repeat(np.reshape(step_size, (-1, 1)), position.shape[1], axis=1)
    with np.errstate(all="ignore"):
        momentum = momentum + 0.5 * size * gradient
        for left in reversed(range(n_steps)):
            position = position + size * (momentum @ _matrix(inverse_mass))
            gradient = gradient_at(gradient_fn, position)
            momentum = momentum + size * gradient * (1.0 if left else 0.5)
    return position, momentum, gradient


def _energy(log_density, momentum, inverse_mass):
    return kinetic_energy(momentum, inverse_mass) - log_density


def step(log_density_fn, gradient_fn, state, *, step_size, n_steps, inverse_mass, rng):
    n = len(state.position)
    coins = np.log1p(-rng.random(n))
    push = draw_momentum(inverse_mass, n, rng=rng)
    end, momentum, gradient = leapfrog(
        gradient_fn,
        state.position,
        push,
        state.gradient,
        step_size=step_size,
        n_steps=n_steps,
        inverse_mass=inverse_mass,
    )
    log_density = log_density_at(log_density_fn, end)
    before = _energy(state.log_density, push, inverse_mass)
    after = _energy(log_density, momentum, inverse_mass)
    divergent, probability = np.zeros(n, dtype=bool), np.zeros(n)
    position, densities, gradients = state.position.copy(), state.log_density.copy(), state.gradient.copy()
    accepted = np.zeros(n, dtype=bool)
    for i in range(n):
        error = after[i] - before[i]
        if math.isnan(error) or error > LIMIT:
            divergent[i] = True
            continue
        probability[i] = math.exp(min(0.0, -error))
        if coins[i] <= -error:
            accepted[i] = True
            position[i], densities[i], gradients[i] = end[i], log_density[i], gradient[i]
    return Transition(State(position, densities, gradients), probability, accepted, divergent)


def find_step_size(log_density_fn, gradient_fn, state, *, inverse_mass, rng, first=1.0):
    push = draw_momentum(inverse_mass, len(state.position), rng=rng)
    sizes = []
    for i in range(len(push)):
        chain = slice(i, i + 1)

        def is_likely(size, chain=chain):
            end, momentum, _ = leapfrog(
                gradient_fn,
                state.position[chain],
                push[chain],
                state.gradient[chain],
                step_size=np.array([size]),
                n_steps=1,
                inverse_mass=inverse_mass,
            )
            after = _energy(log_density_at(log_density_fn, end), momentum, inverse_mass)
            error = after - _energy(state.log_density[chain], push[chain], inverse_mass)
            return bool(-error[0] > -math.log(2))

        size, doubling = float(first), is_likely(first)
        for _ in range(100):
            size *= 2.0 if doubling else 0.5
            if is_likely(size) != doubling:
                break
        else:
            raise ValueError(f"log_density_fn must limit the step size, got {size}")
        sizes.append(size)
    return np.array(sizes)


def begin_averaging(step_size):
    return Averaging(np.log(10 * step_size), 0 * step_size, np.log(step_size), np.log(step_size), 0)


def adapt_step_size(averaging, probability, *, target=0.8, gamma=0.05, offset=10.0, kappa=0.75):
    if not all(0 <= p <= 1 for p in probability):
        raise ValueError(f"probability must lie between 0 and 1, got {probability}")
    t = averaging.n_updates + 1.0
    error = averaging.error + (target - probability - averaging.error) / (offset + t)
    log_step = averaging.centre - error * t**0.5 / gamma
    average = averaging.log_average + (log_step - averaging.log_average) / t**kappa
    return replace(averaging, error=error, log_step=log_step, log_average=average, n_updates=averaging.n_updates + 1)


def estimate_inverse_mass(draws, *, dense=False):
    if draws.ndim != 3 or draws.shape[0] * draws.shape[1] < 2 or not np.isfinite(draws).all():
        raise ValueError(f"draws must be finite with three axes, got {draws.shape}")
    flat = np.concatenate(list(draws))
    n, dim = flat.shape
    covariance = np.cov(flat, rowvar=False).reshape(dim, dim)
    shrunk = (n * covariance + 0.005 * np.eye(dim)) / (n + 5)
    return shrunk if dense else shrunk.diagonal().copy()


def sample(
    log_density_fn,
    gradient_fn,
    position,
    n_draws,
    *,
    n_steps,
    rng,
    n_warm_up=500,
    step_size=None,
    inverse_mass=None,
    target=0.8,
    jitter=0.2,
):
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be a finite matrix, got {position}")
    for name, fine in (
        ("n_draws", n_draws >= 1),
        ("n_steps", n_steps >= 1),
        ("n_warm_up", n_warm_up >= 0),
        ("step_size", step_size is None or 0 < step_size < math.inf),
        ("target", 0 < target < 1),
        ("jitter", 0 <= jitter < 1),
    ):
        if not fine:
            raise ValueError(f"{name} must make sense")
    n_chains, dim = position.shape
    inverse_mass = np.ones(dim) if inverse_mass is None else inverse_mass
    _check_mass(inverse_mass)
    if len(inverse_mass) != dim:
        raise ValueError(f"inverse_mass must fit, got {inverse_mass.shape}")
    state = State(position, evaluate(log_density_fn, position), evaluate_gradient(gradient_fn, position))
    if np.isneginf(state.log_density).any() or not np.isfinite(state.gradient).all():
        raise ValueError("position must have a density and a gradient")
    if step_size is None:
        size = find_step_size(log_density_fn, gradient_fn, state, inverse_mass=inverse_mass, rng=rng)
    else:
        size = np.repeat(float(step_size), n_chains)
    averaging = begin_averaging(size)

    def move(state, size):
        size = size * (1 + jitter * (2 * rng.random(n_chains) - 1))
        return step(
            log_density_fn, gradient_fn, state, step_size=size, n_steps=n_steps, inverse_mass=inverse_mass, rng=rng
        )

    for _ in range(n_warm_up):
        made = move(state, np.exp(averaging.log_step))
        averaging, state = adapt_step_size(averaging, made.probability, target=target), made.state
    size = np.exp(averaging.log_average)
    draws, densities = np.empty((n_chains, n_draws, dim)), np.empty((n_chains, n_draws))
    accepted, divergent = np.zeros((n_chains, n_draws)), np.zeros((n_chains, n_draws), dtype=bool)
    for t in range(n_draws):
        made = move(state, size)
        state = made.state
        draws[:, t], densities[:, t] = state.position, state.log_density
        accepted[:, t], divergent[:, t] = made.accepted, made.divergent
    return Draws(draws, densities, accepted.mean(axis=1), divergent, size, inverse_mass)


def _check_mass(inverse_mass):
    try:
        matrix = _matrix(inverse_mass)
        np.linalg.cholesky(matrix)
        fine = matrix.size > 0 and inverse_mass.ndim < 3 and np.isfinite(matrix).all() and np.allclose(matrix, matrix.T)
    except (np.linalg.LinAlgError, ValueError):
        fine = False
    if not fine:
        raise ValueError(f"inverse_mass must be positive, got {inverse_mass}")
