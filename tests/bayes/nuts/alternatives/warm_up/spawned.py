"""Chains with generators of their own; scatter by the distance from the old mean alone; ends of windows first."""

import copy
import itertools
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from mlpath.bayes._shared import Draws, Gradient, LogDensity
from mlpath.bayes.hamiltonian_monte_carlo import Averaging, State, adapt_step_size, begin_averaging, find_step_size
from mlpath.bayes.nuts.trajectory import Point, System, Tree, place, step


@dataclass(frozen=True)
class Moments:
    n: int
    mean: Float[np.ndarray, " dim"]
    scatter: Float[np.ndarray, "..."]


@dataclass(frozen=True)
class Adaptation:
    system: System
    averaging: Averaging
    moments: Moments


@dataclass(frozen=True)
class Record:
    draws: Float[np.ndarray, "n_draws dim"]
    log_density: Float[np.ndarray, " n_draws"]
    acceptance: Float[np.ndarray, " n_draws"]
    divergent: Bool[np.ndarray, " n_draws"]
    depth: Int[np.ndarray, " n_draws"]
    n_steps: Int[np.ndarray, " n_draws"]


@dataclass(frozen=True)
class Warm:
    system: System
    point: Point
    record: Record
    step_size: Float[np.ndarray, " n_warm_up"]


@dataclass(frozen=True, kw_only=True)
class Run(Draws):
    depth: Int[np.ndarray, "n_chains n_draws"]
    n_steps: Int[np.ndarray, "n_chains n_draws"]
    warm_up_steps: Int[np.ndarray, " n_chains"]
    warm_up_divergent: Int[np.ndarray, " n_chains"]


def begin_moments(inverse_mass: Float[np.ndarray, "..."]) -> Moments:
    return Moments(0, np.zeros(len(inverse_mass)), np.zeros(inverse_mass.shape))


def resized(system: System, step_size: float) -> "System":
    other = copy.copy(system)
    object.__setattr__(other, "step_size", step_size)
    return other


def first_size(system: System, point: Point, *, rng: np.random.Generator) -> float:
    state = State(point.position[None], np.array([point.log_density]), point.gradient[None])
    target, mass = (system.log_density_fn, system.gradient_fn), system.inverse_mass
    return find_step_size(*target, state, inverse_mass=mass, rng=rng, first=system.step_size).item()


def record(trees: list[Tree], dim: int) -> Record:
    return Record(
        np.array([tree.choice.position for tree in trees], dtype=float).reshape(len(trees), dim),
        np.array([tree.choice.log_density for tree in trees], dtype=float),
        np.array([tree.acceptance / tree.n_steps for tree in trees], dtype=float),
        np.array([tree.divergent for tree in trees], dtype=bool),
        np.array([tree.depth for tree in trees], dtype=int),
        np.array([tree.n_steps for tree in trees], dtype=int),
    )


def windows(n_warm_up: int) -> list[tuple[int, int]]:
    if n_warm_up < 0:
        raise ValueError(f"n_warm_up must be at least 0, got {n_warm_up}")
    if n_warm_up < 20:
        return []
    first, last = (75, 50) if n_warm_up >= 150 else (int(n_warm_up * 15 / 100), int(n_warm_up / 10))
    length = n_warm_up - first - last
    ends, size = [0], 25
    while n_warm_up >= 150 and ends[-1] + size + 2 * size <= length:
        ends.append(ends[-1] + size)
        size *= 2
    ends.append(length)
    return [(first + a, first + b) for a, b in itertools.pairwise(ends)]


def observe(moments: Moments, position: Float[np.ndarray, " dim"]) -> Moments:
    n, d = moments.n, position - moments.mean
    weight = n / (n + 1)
    more = weight * (d[:, None] * d[None, :]) if moments.scatter.ndim > 1 else weight * d**2
    return Moments(n + 1, (n * (moments.mean / (n + 1))) + position / (n + 1), more + moments.scatter)


def estimate(moments: Moments) -> Float[np.ndarray, "..."]:
    if moments.n < 2:
        raise ValueError(f"moments must be of two draws at least, got {moments.n}")
    n = moments.n
    found = n * moments.scatter / ((n - 1) * (n + 5))
    if found.ndim == 1:
        return found + 0.005 / (n + 5)
    found[np.diag_indices(len(found))] += 0.005 / (n + 5)
    return found


def adapt(
    state: Adaptation,
    tree: Tree,
    t: int,
    schedule: list[tuple[int, int]],
    *,
    rng: np.random.Generator,
    target: float = 0.8,
) -> Adaptation:
    averaging = adapt_step_size(state.averaging, np.atleast_1d(tree.acceptance / tree.n_steps), target=target)
    size = float(np.exp(averaging.log_step[0]))
    inside = [window for window in schedule if t in range(*window)]
    if not inside:
        return replace(state, averaging=averaging, system=resized(state.system, size))
    moments = observe(state.moments, tree.choice.position)
    if t + 1 < inside[0][1]:
        return Adaptation(resized(state.system, size), averaging, moments)
    old = state.system
    system = System(old.log_density_fn, old.gradient_fn, size, estimate(moments))
    size = first_size(system, tree.choice, rng=rng)
    return Adaptation(resized(system, size), begin_averaging(np.full(1, size)), begin_moments(old.inverse_mass))


def warm_up(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    position: Float[np.ndarray, " dim"],
    n_warm_up: int,
    *,
    rng: np.random.Generator,
    inverse_mass: Float[np.ndarray, "..."],
    step_size: float | None = None,
    target: float = 0.8,
    max_depth: int = 10,
) -> "Warm":

    system = System(log_density_fn, gradient_fn, 1.0 if step_size is None else step_size, inverse_mass)
    point = place(system, position, np.zeros(len(position)))
    if step_size is None:
        system = resized(system, first_size(system, point, rng=rng))
    state = Adaptation(system, begin_averaging(np.array([system.step_size])), begin_moments(inverse_mass))
    trees, sizes, schedule = [], [], windows(n_warm_up)
    for t in range(n_warm_up):
        tree = step(state.system, point, rng=rng, max_depth=max_depth)
        point = tree.choice
        trees.append(tree)
        sizes.append(state.system.step_size)
        state = adapt(state, tree, t, schedule, rng=rng, target=target)
    final = resized(state.system, np.exp(state.averaging.log_average).item())
    return Warm(final, point, record(trees, len(position)), np.array(sizes, dtype=float))


def draw(system: System, point: Point, n_draws: int, *, rng: np.random.Generator, max_depth: int = 10) -> Record:
    trees: list[Tree] = []
    while len(trees) < n_draws:
        trees.append(step(system, trees[-1].choice if trees else point, rng=rng, max_depth=max_depth))
    return record(trees, system.inverse_mass.shape[0])


def sample(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    rng: np.random.Generator,
    n_warm_up: int = 1000,
    inverse_mass: Float[np.ndarray, "..."] | None = None,
    step_size: float | None = None,
    target: float = 0.8,
    max_depth: int = 10,
) -> "Run":
    _check_settings(n_draws, target, max_depth)
    inverse_mass = np.ones(position.shape[-1]) if inverse_mass is None else inverse_mass
    _check_start(log_density_fn, gradient_fn, position, inverse_mass)
    rows: dict[str, list] = {}
    for start, own in zip(position, rng.spawn(len(position)), strict=True):
        warm = warm_up(
            log_density_fn,
            gradient_fn,
            start,
            n_warm_up,
            rng=own,
            inverse_mass=inverse_mass,
            step_size=step_size,
            target=target,
            max_depth=max_depth,
        )
        kept = draw(warm.system, warm.point, n_draws, rng=own, max_depth=max_depth)
        fields = {**vars(kept), "step_size": warm.system.step_size, "inverse_mass": warm.system.inverse_mass}
        fields["acceptance_rate"] = fields.pop("acceptance").mean()
        fields["warm_up_steps"] = warm.record.n_steps.sum()
        fields["warm_up_divergent"] = warm.record.divergent.sum()
        for name, value in fields.items():
            rows.setdefault(name, []).append(value)
    return Run(**{name: np.array(values) for name, values in rows.items()})


def _check_settings(n_draws: int, target: float, max_depth: int) -> None:
    for name, number in (("n_draws", n_draws), ("max_depth", max_depth)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if not 0 < target < 1:
        raise ValueError(f"target must be between 0 and 1, got {target}")


def _check_start(
    log_density_fn: LogDensity, gradient_fn: Gradient, position: np.ndarray, inverse_mass: np.ndarray
) -> None:
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, dim), got {position}")
    if inverse_mass.ndim == 0 or len(inverse_mass) != position.shape[1]:
        raise ValueError(f"inverse_mass must be for {position.shape[1]} dimensions, got shape {inverse_mass.shape}")
    for start in position:
        point = place(System(log_density_fn, gradient_fn, 1.0, inverse_mass), start, np.zeros(len(start)))
        if not np.isfinite(point.log_density) or not np.isfinite(point.gradient).all():
            raise ValueError(f"position must have positive density and a finite gradient, got {start}")
