"""Searches for matrices, loops for outer products, a linear solve for the inverse, and the symmetric matrix by square roots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

Matrix = Float[np.ndarray, "n_states n_states"]


@dataclass(frozen=True)
class CommunicatingClass:
    states: tuple[int, ...]
    closed: bool
    period: int


@dataclass(frozen=True)
class Absorption:
    states: tuple[int, ...]
    visits: np.ndarray
    probabilities: np.ndarray
    steps: np.ndarray


@dataclass(frozen=True)
class PageRank:
    ranks: Float[np.ndarray, " n_pages"]
    nit: int
    success: bool


def reachable(matrix: Float[np.ndarray, "n_states n_states"]) -> Bool[np.ndarray, "n_states n_states"]:
    # given: the check
    _check_matrix(matrix)
    n = len(matrix)
    result = np.zeros((n, n), dtype=bool)
    for i in range(n):
        stack = [i]
        while stack:
            j = stack.pop()
            if not result[i, j]:
                result[i, j] = True
                stack.extend(np.flatnonzero(matrix[j]).tolist())
    return result


def period(matrix: Float[np.ndarray, "n_states n_states"], states: Sequence[int]) -> int:
    members, found = set(states), 0
    levels = {states[-1]: 0}
    queue = [states[-1]]
    for i in queue:
        for j in members:
            if matrix[i, j] > 0:
                if j not in levels:
                    levels[j] = levels[i] + 1
                    queue.append(j)
                found = int(np.gcd(found, levels[i] + 1 - levels[j]))
    return found


def communicating_classes(matrix: Float[np.ndarray, "n_states n_states"]) -> list[CommunicatingClass]:
    ways, left, classes = reachable(matrix), list(range(len(matrix))), []
    while left:
        i = left[0]
        states = tuple(j for j in left if ways[i, j] and ways[j, i])
        left = [j for j in left if j not in states]
        classes.append(CommunicatingClass(states, int(ways[i].sum()) == len(states), period(matrix, states)))
    return classes


def stationary(matrix: Float[np.ndarray, "n_states n_states"]) -> Float[np.ndarray, " n_states"]:
    # given: the only closed class
    states = _only_closed_class(matrix)
    rest, result = matrix.astype(float), np.zeros(len(matrix))
    kept = list(states)
    quotients = {}
    while len(kept) > 1:
        n = kept.pop(0)
        leaving = sum(rest[n, j] for j in kept)
        quotients[n] = (list(kept), rest[kept, n] / leaving)
        for i, q in zip(kept, quotients[n][1], strict=True):
            rest[i, kept] = rest[i, kept] + q * rest[n, kept]
    result[kept[0]] = 1.0
    for n in reversed(states[:-1]):
        others, q = quotients[n]
        result[n] = (result[others] * q).sum()
    return result / result.sum()


def absorption(matrix: Float[np.ndarray, "n_states n_states"]) -> Absorption:
    classes = communicating_classes(matrix)
    closed = [each for each in classes if each.closed]
    caught = {i for each in closed for i in each.states}
    states = [i for i in range(len(matrix)) if i not in caught]
    into = np.zeros((len(states), len(closed)))
    for k, each in enumerate(closed):
        for j in each.states:
            into[:, k] += matrix[states, j]
    left = -matrix[np.ix_(states, states)]
    for row, i in enumerate(states):
        left[row, row] = sum(p for j, p in enumerate(matrix[i]) if j != i)
    probabilities = np.linalg.solve(left, into)
    steps = np.linalg.solve(left, np.ones((len(states), 1)))[:, 0]
    return Absorption(tuple(states), np.linalg.solve(left, np.eye(len(states))), probabilities, steps)


def mixing_time(
    matrix: Float[np.ndarray, "n_states n_states"], epsilon: float = 0.25, *, max_steps: int = 10**9
) -> int | None:
    # given: the checks
    goal = stationary(matrix)
    if not 1e-6 <= epsilon < 1:
        raise ValueError(f"epsilon must be between 1e-6 and 1, got {epsilon}")
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}")

    def far(steps: int) -> bool:
        power, square = np.eye(len(matrix)), matrix.copy()
        while steps:
            power = power @ square if steps % 2 else power
            square = square @ square
            square /= square.sum(axis=1)[:, None]
            steps //= 2
        return 0.5 * np.abs(power - goal[None, :]).sum(axis=1).max() > epsilon

    low, high = -1, 1
    while far(high):
        low, high = high, 2 * high
        if low >= max_steps:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if far(middle) else (low, middle)
    return high if high <= max_steps else None


def spectral_gap(matrix: Float[np.ndarray, "n_states n_states"]) -> float:
    # given: the checks
    _check_reversible(matrix)
    if len(matrix) == 1:
        return 1.0
    roots = np.sqrt(stationary(matrix))
    symmetric = roots[:, None] * matrix / roots
    sizes = np.sort(abs(np.linalg.eigvalsh((symmetric + symmetric.T) / 2)))
    return float(1 - sizes[-2])


def mixing_bounds(
    matrix: Float[np.ndarray, "n_states n_states"], epsilon: float = 0.25
) -> tuple[float, float]:  # given
    slowness = 1 / spectral_gap(matrix)
    return (slowness - 1) * float(np.log(1 / (2 * epsilon))), slowness * float(
        np.log(1 / (epsilon * stationary(matrix).min()))
    )


def pagerank(
    links: Float[np.ndarray, "n_pages n_pages"],
    *,
    damping: float = 0.85,
    restart: Float[np.ndarray, " n_pages"] | None = None,
    tol: float = 1e-10,
    max_iter: int = 1000,
) -> PageRank:
    # given: the checks, and what the surfer begins with
    _check_pages(links, restart, damping, tol, max_iter)
    v = np.ones(len(links)) if restart is None else restart
    v = v / sum(v)
    rows = np.array([row / row.sum() if row.any() else v for row in links])
    x = v
    for nit in range(1, max_iter + 1):
        before, x = x, (1 - damping) * v + damping * (rows.T @ x)
        if np.linalg.norm(x - before, 1) <= tol:
            return PageRank(x, nit, True)
    return PageRank(x, max_iter, False)


def _check_matrix(matrix: np.ndarray) -> None:  # given
    if matrix.ndim != 2 or not matrix.size or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    if not (matrix >= 0).all():
        raise ValueError(f"matrix must not be negative or NaN, got {matrix.min()}")
    if not abs(matrix.sum(axis=1) - 1).max() <= 1e-9:
        raise ValueError(f"matrix must have rows of probabilities that sum to 1, got sums {matrix.sum(axis=1)}")


def _only_closed_class(matrix: np.ndarray) -> tuple[int, ...]:  # given
    closed = [each.states for each in communicating_classes(matrix) if each.closed]
    if len(closed) > 1:
        raise ValueError(f"matrix must have one closed class, got {len(closed)}")
    return closed[0]


def _check_reversible(matrix: np.ndarray) -> None:  # given
    if len(communicating_classes(matrix)) > 1:
        raise ValueError(f"matrix must have one communicating class, got {len(communicating_classes(matrix))}")
    traffic = stationary(matrix)[:, None] * matrix
    if not np.allclose(traffic, traffic.T, rtol=1e-8, atol=0.0):
        raise ValueError(f"matrix must be reversible, got traffic that differs by {abs(traffic - traffic.T).max()}")


def _check_pages(  # given
    links: np.ndarray, restart: np.ndarray | None, damping: float, tol: float, max_iter: int
) -> None:
    if links.ndim != 2 or not links.size or links.shape[0] != links.shape[1]:
        raise ValueError(f"links must be square, got shape {links.shape}")
    if not (np.isfinite(links) & (links >= 0)).all():
        raise ValueError(f"links must be finite and not negative, got {links}")
    if restart is not None and restart.shape != links.shape[:1]:
        raise ValueError(f"restart must have shape {links.shape[:1]}, got {restart.shape}")
    if restart is not None and not ((np.isfinite(restart) & (restart >= 0)).all() and restart.sum() > 0):
        raise ValueError(f"restart must be finite, not negative and not all zero, got {restart}")
    if not 0 <= damping < 1:
        raise ValueError(f"damping must be in [0, 1), got {damping}")
    if not tol >= 0:
        raise ValueError(f"tol must not be negative, got {tol}")
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
