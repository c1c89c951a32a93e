"""The compact representation of the inverse: two products with the stacked pairs, and a small triangular system."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.bfgs import curvature_holds
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, STALLED, check_arguments, stopping
from mlpath.optim.line_search import Ray, SearchResult, strong_wolfe_search

Vector = Float[np.ndarray, " dim"]


@dataclass(frozen=True)
class Memory:
    moves: tuple[Float[np.ndarray, " dim"], ...] = ()
    changes: tuple[Float[np.ndarray, " dim"], ...] = ()


def remember(memory: Memory, move: Vector, change: Vector, *, size: int = 10) -> Memory:
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    product = float(np.dot(move, change))
    if not curvature_holds(move, change) or product == 0 or not np.isfinite(product):
        return memory
    moves, changes = deque(memory.moves, maxlen=size), deque(memory.changes, maxlen=size)
    moves.append(move)
    changes.append(change)
    return Memory(tuple(moves), tuple(changes))


def first_factor(memory: Memory) -> float:
    if len(memory.moves) == 0:
        return 1.0
    y = memory.changes[-1]
    return float(np.dot(memory.moves[-1], y) / np.dot(y, y))


def two_loop(memory: Memory, gradient: Vector) -> Vector:
    if not memory.moves:
        return gradient.copy()
    s, y = np.stack(memory.moves), np.stack(memory.changes)
    gamma = first_factor(memory)
    inner = s @ y.T
    upper, diagonal = np.triu(inner), np.diag(np.diag(inner))
    p, q = s @ gradient, gamma * (y @ gradient)
    a = np.linalg.solve(upper, p)
    b = np.linalg.solve(upper.T, (diagonal + gamma * (y @ y.T)) @ a - q)
    return (gamma * gradient + b @ s - gamma * (a @ y)).astype(gradient.dtype)


def as_matrix(memory: Memory, dim: int) -> Float[np.ndarray, "dim dim"]:
    return np.column_stack([two_loop(memory, column) for column in np.eye(dim)])


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    size: int = 10,
    rule: Literal["strong_wolfe", "fixed"] = "strong_wolfe",
    step_size: float = 1.0,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    x, grad = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter), checked_gradient(grad)
    if size < 1 or rule not in ("strong_wolfe", "fixed"):
        raise ValueError(f"size must be at least 1, rule 'strong_wolfe' or 'fixed', got {size} and {rule!r}")
    value, gradient, evaluations = float(fun(x)), grad(x), 1
    path, memory, message, nit = [x], Memory(), None, 0
    for nit in range(max_iter + 1):
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        if message is not None:
            break
        direction = -two_loop(memory, gradient)
        if np.isinf(np.dot(direction, gradient)):
            message = DIVERGED
            break
        trial = step_size
        if not memory.moves:
            trial = step_size / max(1.0, float(np.linalg.norm(gradient, 1)))
        found = _search(Ray(fun, grad, x, direction, value=value, gradient=gradient), rule, trial)
        evaluations += found.nfev
        if not found.step_size:
            message = STALLED
            break
        beyond = x + found.step_size * direction
        memory = remember(memory, beyond - x, found.gradient - gradient, size=size)
        x, value, gradient = beyond, found.value, found.gradient
        if record_path:
            path.append(x)
    points = np.stack(path) if record_path else None
    return OptimizeResult(x, value, nit, evaluations, message == CONVERGED, str(message), points)


def _search(ray: Ray, rule: str, first: float) -> SearchResult:
    if rule == "strong_wolfe":
        return strong_wolfe_search(ray, step_size=first)
    return ray.result(ray.at(first), True)
