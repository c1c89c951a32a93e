"""The products of (4) as they stand, an outer product by broadcasting, and damping as a correction of the change."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, STALLED, check_arguments, stopping
from mlpath.optim.line_search import Ray, strong_wolfe_search

Matrix = Float[np.ndarray, "dim dim"]
Vector = Float[np.ndarray, " dim"]


def curvature_holds(move: Vector, change: Vector, *, threshold: float = 1e-10) -> bool:
    lengths = []
    for vector in (move, change):
        largest = np.abs(vector).max()
        if not 0 < largest < np.inf:
            return False
        lengths.append(vector / largest / np.linalg.norm(vector / largest))
    return float(np.sum(lengths[0] * lengths[1])) > threshold


def initial_scale(move: Vector, change: Vector) -> float:
    ratio = np.abs(move).max() / np.abs(change).max()
    s, y = move / np.abs(move).max(), change / np.abs(change).max()
    return float(ratio * np.dot(s, y) / np.sum(y**2))


def update_inverse(inverse: Matrix, move: Vector, change: Vector) -> Matrix:
    _check_pair(inverse, "inverse", move, change)
    size, slope = np.abs(move).max(), np.abs(change).max()
    s, y = move / size, change / slope
    bracket = np.eye(len(s), dtype=s.dtype) - np.outer(s, y) / np.dot(y, s)
    updated = bracket @ inverse @ bracket.T + np.outer(s, s) * (size / slope / np.dot(y, s))
    return (updated + updated.T) / 2


def update_matrix(matrix: Matrix, move: Vector, change: Vector) -> Matrix:
    _check_pair(matrix, "matrix", move, change)
    size, slope = np.abs(move).max(), np.abs(change).max()
    s, y = move / size, change / slope
    bs = np.sum(matrix * s, axis=1)
    forgotten = bs[:, None] * bs[None, :]
    learnt = y[:, None] * y[None, :]
    scale = np.abs(matrix).max()
    return scale * (matrix / scale - forgotten / scale / np.dot(s, bs)) + learnt * (slope / size / np.dot(y, s))


def damped_change(matrix: Matrix, move: Vector, change: Vector) -> Vector:
    _check_shapes(matrix, "matrix", move, change)
    if not (np.isfinite(move).all() and np.isfinite(change).all() and move.any()):
        raise ValueError(f"move and change must be finite, and move not zero, got {move} and {change}")
    s = move / np.linalg.norm(move / np.abs(move).max()) / np.abs(move).max()
    expected = matrix @ move
    lacking = 0.2 * np.dot(s, expected) - np.dot(s, change)
    if lacking <= 0:
        return change.copy()
    return change + lacking / np.dot(s, expected - change) * (expected - change)


def learn(inverse: Matrix | None, move: Vector, change: Vector) -> Matrix | None:
    if not curvature_holds(move, change):
        return inverse
    before = np.diag(np.full_like(move, initial_scale(move, change))) if inverse is None else inverse
    return update_inverse(before, move, change)


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    curvature: float = 0.9,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    x, grad = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter), checked_gradient(grad)
    value, gradient, evaluations = float(fun(x)), grad(x), 1
    path, inverse, message = [x], None, None
    for nit in range(max_iter + 1):
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        if message is not None:
            break
        if inverse is None:
            direction, first = -gradient, 1 / max(1.0, float(np.linalg.norm(gradient, 1)))
        else:
            direction, first = -np.sum(inverse * gradient, axis=1), 1.0
        if np.isinf(np.dot(direction, gradient)):
            message = DIVERGED
            break
        found = strong_wolfe_search(
            Ray(fun, grad, x, direction, value=value, gradient=gradient), step_size=first, curvature=curvature
        )
        evaluations += found.nfev
        if not found.step_size:
            message = STALLED
            break
        beyond = x + found.step_size * direction
        inverse = learn(inverse, beyond - x, found.gradient - gradient)
        x, value, gradient = beyond, found.value, found.gradient
        path.append(x)
    points = np.stack(path) if record_path else None
    return OptimizeResult(x, value, len(path) - 1, evaluations, message == CONVERGED, str(message), points)


def _check_shapes(matrix: Matrix, name: str, move: Vector, change: Vector) -> None:
    dim = np.size(move)
    if np.shape(move) != (dim,) or np.shape(change) != (dim,) or np.shape(matrix) != (dim, dim):
        raise ValueError(f"{name}, move and change must have shapes (n, n), (n,) and (n,)")


def _check_pair(matrix: Matrix, name: str, move: Vector, change: Vector) -> None:
    _check_shapes(matrix, name, move, change)
    if not curvature_holds(move, change):
        raise ValueError(f"move and change must satisfy the curvature condition (3), got {move} and {change}")
