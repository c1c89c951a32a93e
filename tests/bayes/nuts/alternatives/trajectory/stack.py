"""The new half grown leaf by leaf, with a stack of trees of which equal ones are merged; all coins at once."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from mlpath.bayes._shared import Gradient, LogDensity

LIMIT = 1000.0
"""An energy error above this is a divergence."""


@dataclass(frozen=True)
class System:
    log_density_fn: LogDensity
    gradient_fn: Gradient
    step_size: float
    inverse_mass: Float[np.ndarray, "..."]
    root: Float[np.ndarray, "..."] = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.step_size < math.inf:
            raise ValueError(f"step_size must be positive and finite, got {self.step_size}")
        object.__setattr__(self, "root", _root(self.inverse_mass))


@dataclass(frozen=True)
class Point:
    position: Float[np.ndarray, " dim"]
    momentum: Float[np.ndarray, " dim"]
    velocity: Float[np.ndarray, " dim"]
    log_density: float
    gradient: Float[np.ndarray, " dim"]
    energy: float


@dataclass(frozen=True)
class Tree:
    left: Point
    right: Point
    choice: Point
    total: Float[np.ndarray, " dim"]
    log_weight: float
    depth: int
    n_steps: int
    acceptance: float
    turning: bool
    divergent: bool

    @property
    def stopped(self) -> bool:
        return self.turning or self.divergent


def place(system: System, position: np.ndarray, momentum: np.ndarray) -> "Point":
    velocity, (log_density, gradient) = _velocity(system, momentum), _evaluate(system, position)
    return Point(position, momentum, velocity, log_density, gradient, momentum.dot(velocity) / 2 - log_density)


def push(system: System, point: Point, momentum: np.ndarray) -> "Point":
    velocity = _velocity(system, momentum)
    energy = momentum.dot(velocity) / 2 - point.log_density
    return Point(point.position, momentum, velocity, point.log_density, point.gradient, energy)


def roll(system: System, point: Point, direction: int) -> "Point":
    size = direction * system.step_size
    half = point.momentum + size / 2 * point.gradient
    position = point.position + size * _velocity(system, half)
    log_density, gradient = _evaluate(system, position)
    momentum = half + size / 2 * gradient
    velocity = _velocity(system, momentum)
    return Point(position, momentum, velocity, log_density, gradient, momentum.dot(velocity) / 2 - log_density)


def _velocity(system: System, momentum: np.ndarray) -> np.ndarray:
    return system.inverse_mass * momentum if system.inverse_mass.ndim == 1 else system.inverse_mass.dot(momentum)


def _evaluate(system: System, position: np.ndarray) -> tuple[float, np.ndarray]:
    if not math.isfinite(position.dot(position)) and not np.isfinite(position).all():
        return math.nan, np.full(position.shape, math.nan)
    row = position[None]
    density, gradient = np.asarray(system.log_density_fn(row), float), np.asarray(system.gradient_fn(row), float)
    if density.shape != (1,):
        raise ValueError(f"log_density_fn must return shape (1,), got {density.shape}")
    if gradient.shape != row.shape:
        raise ValueError(f"gradient_fn must return shape {row.shape}, got {gradient.shape}")
    log_density = density.item()
    if log_density == math.inf:
        raise ValueError(f"log_density_fn must not be +inf, got it at {position}")
    return log_density, gradient[0]


def seed(point: Point) -> "Tree":
    return Tree(point, point, point, point.momentum, 0.0, 0, 0, 0.0, False, False)


def has_turned(
    first: Float[np.ndarray, " dim"], last: Float[np.ndarray, " dim"], total: Float[np.ndarray, " dim"]
) -> "bool":
    return bool(min(np.sum(first * total), np.sum(last * total)) <= 0) or bool(np.isnan(total).any())


def log_chance(old: float, new: float, *, biased: bool) -> float:
    difference = new - old
    if biased:
        return difference if difference < 0 else 0.0
    if difference > 0:
        return -math.log1p(math.exp(-difference))
    return difference - math.log1p(math.exp(difference))


def leaf(point: Point, energy: float) -> "Tree":
    gain = energy - point.energy
    if math.isnan(gain) or gain < -LIMIT:
        return Tree(point, point, point, point.momentum, -math.inf, 0, 1, 0.0, False, True)
    return Tree(point, point, point, point.momentum, gain, 0, 1, 1.0 if gain > 0 else math.exp(gain), False, False)


def turns_across(left: Tree, right: Tree) -> "bool":
    a, m, n, b = left.left, left.right, right.left, right.right
    pieces = ((a, b, left.total + right.total), (a, n, left.total + n.momentum), (m, b, right.total + m.momentum))
    return any(has_turned(i.velocity, j.velocity, rho) for i, j, rho in pieces)


def merge(old: Tree, new: Tree, direction: int, *, biased: bool, rng: np.random.Generator) -> "Tree":
    fields = dict(vars(old))
    fields["n_steps"] += new.n_steps
    fields["acceptance"] += new.acceptance
    if new.turning or new.divergent:
        return Tree(**{**fields, "turning": new.turning, "divergent": new.divergent})
    if math.log(1 - rng.random()) <= log_chance(old.log_weight, new.log_weight, biased=biased):
        fields["choice"] = new.choice
    if direction < 0:
        fields["left"], fields["turning"] = new.left, turns_across(new, old)
    else:
        fields["right"], fields["turning"] = new.right, turns_across(old, new)
    high, low = max(old.log_weight, new.log_weight), min(old.log_weight, new.log_weight)
    fields["log_weight"] = high + math.log1p(math.exp(low - high))
    fields["total"], fields["depth"] = new.total + old.total, new.depth + 1
    return Tree(**fields)


def build(
    system: System, point: Point, direction: int, depth: int, *, energy: float, rng: np.random.Generator
) -> "Tree":
    stack = []
    for _ in range(2**depth):
        point = roll(system, point, direction)
        stack.append(leaf(point, energy))
        while len(stack) > 1 and not stack[-1].stopped and stack[-1].depth == stack[-2].depth:
            new, old = stack.pop(), stack.pop()
            stack.append(merge(old, new, direction, biased=False, rng=rng))
        if stack[-1].stopped:
            break
    n_steps, acceptance = sum(tree.n_steps for tree in stack), sum(tree.acceptance for tree in stack)
    return replace(stack[-1], n_steps=n_steps, acceptance=acceptance)


@np.errstate(all="ignore")
def explore(system: System, start: Point, *, rng: np.random.Generator, max_depth: int = 10) -> "Tree":
    if max_depth < 1:
        raise ValueError(f"max_depth must be at least 1, got {max_depth}")
    # all coins at once: bits of one number
    coins, tree = int(rng.integers(2**max_depth)), seed(start)
    while tree.depth < max_depth:
        direction, coins = (1, coins // 2) if coins % 2 else (-1, coins // 2)
        ends = {1: tree.right, -1: tree.left}
        new = build(system, ends[direction], direction, tree.depth, energy=start.energy, rng=rng)
        tree = merge(tree, new, direction, biased=True, rng=rng)
        if tree.stopped:
            return tree
    return tree


def step(system: System, point: Point, *, rng: np.random.Generator, max_depth: int = 10) -> "Tree":
    momentum = np.array([rng.normal() for _ in point.position])
    momentum = np.diag(system.root) @ momentum if system.root.ndim == 1 else (system.root * momentum).sum(axis=1)
    return explore(system, push(system, point, momentum), max_depth=max_depth, rng=rng)


def _root(inverse_mass: np.ndarray) -> np.ndarray:
    fine = inverse_mass.ndim in (1, 2) and inverse_mass.size > 0 and np.isfinite(inverse_mass).all()
    if fine and inverse_mass.ndim == 1 and (inverse_mass > 0).all():
        return 1 / np.sqrt(inverse_mass)
    if fine and inverse_mass.ndim == 2 and inverse_mass.shape == inverse_mass.T.shape:
        values, vectors = np.linalg.eigh(inverse_mass)
        if values[0] > 0 and np.allclose(inverse_mass, inverse_mass.T):
            return vectors / np.sqrt(values)
    raise ValueError(f"inverse_mass must be positive, a vector or a symmetric matrix, got {inverse_mass}")
