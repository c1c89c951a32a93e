"""Clipping, outer products, proximal gradient steps, and multipliers scaled by mu."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array

Matrix = Float[np.ndarray, "n_rows n_cols"]
Mask = Bool[np.ndarray, "n_rows n_cols"]


@dataclass(frozen=True)
class Completion:
    """A completed matrix, and how it was found."""

    matrix: Matrix
    singular_values: Float[np.ndarray, " n_values"]
    objectives: Float[np.ndarray, " n_iterations"]
    changes: Float[np.ndarray, " n_iterations"]
    converged: bool


@dataclass(frozen=True)
class RobustPCA:
    """A matrix taken apart, and how it was done."""

    low_rank: Matrix
    sparse: Matrix
    residuals: Float[np.ndarray, " n_iterations"]
    converged: bool


def _check_level(level: float, name: str, *, zero: bool = False) -> float:  # given: argument checks
    """Return a number as a float of Python's, which leaves float32 as it is, if it is finite and above 0, or also 0 where that is allowed."""
    if not (0 < level < np.inf or (zero and level == 0)):
        raise ValueError(f"{name} must be {'0 or more' if zero else 'positive'} and finite, got {level}")
    return float(level)


def _check_driver(tol: float, max_iterations: int) -> None:  # given: argument checks
    """Raise a ValueError unless an iteration can be ended by these."""
    _check_level(tol, "tol", zero=True)
    if max_iterations != int(max_iterations) or max_iterations < 1:
        raise ValueError(f"max_iterations must be a whole number above 0, got {max_iterations}")


def _same_shape(values: ArrayLike, name: str, a: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return a matrix of the shape and the precision of `a`."""
    matrix = real_array(values, name, ndim=2)
    if matrix.shape != a.shape:
        raise ValueError(f"{name} must be of the shape {a.shape}, got {matrix.shape}")
    return matrix.astype(a.dtype)


def _observed(a: ArrayLike, mask: ArrayLike) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return the matrix with 0 where nothing was observed, and the mask."""
    known = np.asarray(mask)
    if known.dtype != bool or known.shape != np.shape(a) or not known.any():
        raise ValueError(f"mask must be true or false for each entry of a, once true, got {mask}")
    return real_array(np.where(known, a, np.zeros(1, dtype=np.asarray(a).dtype)), "a", ndim=2), known


def _norm(matrix: np.ndarray) -> float:  # given: a norm that neither under- nor overflows
    """Return the Frobenius norm."""
    largest = float(np.abs(matrix).max())
    return largest * float(np.linalg.norm(matrix / largest)) if largest > 0 else 0.0


def soft_threshold(x: Float[np.ndarray, "*shape"], level: float) -> Float[np.ndarray, "*shape"]:
    r"""Move every number towards 0 by a level, and those that are nearer to 0 than that: to 0, equation (1)."""
    # given: the checks
    x = real_array(x, "x", ndim=np.ndim(x))
    level = _check_level(level, "level", zero=True)
    # yours
    return x - np.clip(x, -level, level)


def shrink_singular_values(a: Matrix, level: float) -> tuple[Matrix, Float[np.ndarray, " n_values"]]:
    r"""Soft-threshold the singular values of a matrix, equation (2)."""
    # given: the checks
    a = real_array(a, "a", ndim=2)
    level = _check_level(level, "level", zero=True)
    # yours
    if a.shape[0] < a.shape[1]:
        matrix, values = shrink_singular_values(a.T, level)
        return matrix.T, values
    u, s, vt = np.linalg.svd(a)
    matrix, values = np.zeros_like(a), np.zeros_like(s)
    for i, value in enumerate(s):
        if value > level:
            values[i] = value - level
            matrix += values[i] * np.outer(u[:, i], vt[i])
    return matrix, values


def objective(a: Matrix, mask: Mask, matrix: Matrix, penalty: float) -> float:
    r"""Return the objective of matrix completion, equation (4)."""
    # given: the checks
    a, mask = _observed(a, mask)
    matrix = _same_shape(matrix, "matrix", a)
    penalty = _check_level(penalty, "penalty")
    # yours
    error = 0.0
    for row, known, z in zip(a, mask, matrix, strict=True):
        error += float(sum((row[known] - z[known]) ** 2))
    return 0.5 * error + penalty * float(np.linalg.norm(matrix, "nuc"))


def largest_penalty(a: Matrix, mask: Mask) -> float:
    r"""Return the least penalty for which the completion is all zero, equation (6)."""
    # given: the checks
    a, mask = _observed(a, mask)
    # yours
    return float(np.linalg.svd(a if len(a) > 1 else a.T)[1].max())


def soft_impute(
    a: Matrix, mask: Mask, penalty: float, *, start: Matrix | None = None, tol: float = 1e-5, max_iterations: int = 1000
) -> Completion:
    r"""Complete a matrix: fill the holes from the present estimate and shrink the singular values, again and again, equation (5)."""
    # given: the checks, and the start
    a, mask = _observed(a, mask)
    penalty = _check_level(penalty, "penalty")
    _check_driver(tol, max_iterations)
    matrix = np.zeros_like(a) if start is None else _same_shape(start, "start", a)
    values, size = np.zeros(min(a.shape), dtype=a.dtype), _norm(a) or 1.0
    # yours
    objectives, changes = [], []
    for _ in range(max_iterations):
        new, values = shrink_singular_values(matrix + np.where(mask, a - matrix, 0), penalty)
        changes.append(_norm(new - matrix) / size)
        objectives.append(objective(a, mask, new, penalty))
        matrix = new
        if changes[-1] <= tol:
            break
    return Completion(matrix, values, np.array(objectives), np.array(changes), bool(changes[-1] <= tol))


def soft_impute_path(
    a: Matrix, mask: Mask, penalties: Sequence[float], *, tol: float = 1e-5, max_iterations: int = 1000
) -> list[Completion]:
    r"""Complete a matrix for several penalties, each from the solution of the one before."""
    # given: the checks
    if len(penalties) == 0:
        raise ValueError(f"penalties must be one or more, got {penalties}")
    # yours
    path: list[Completion] = []
    for penalty in penalties:
        first = path[-1].matrix if path else None
        path += [soft_impute(a, mask, penalty, start=first, tol=tol, max_iterations=max_iterations)]
    return path


def pursuit_step(
    a: Matrix, sparse: Matrix, multipliers: Matrix, *, mu: float, weight: float
) -> tuple[Matrix, Matrix, Matrix]:
    r"""Make one step of principal component pursuit by alternating directions, equation (8)."""
    # given: the checks
    a = real_array(a, "a", ndim=2)
    sparse, multipliers = _same_shape(sparse, "sparse", a), _same_shape(multipliers, "multipliers", a)
    mu, weight = _check_level(mu, "mu"), _check_level(weight, "weight")
    # yours
    scaled = multipliers / mu
    u, s, vt = np.linalg.svd(a - sparse + scaled, full_matrices=False)
    low_rank = np.einsum("ik,k,kj->ij", u, np.maximum(s - 1 / mu, 0), vt)
    rest = a - low_rank + scaled
    sparse = soft_threshold(rest, weight / mu)
    # What the threshold took away, times mu, is the new multipliers.
    return low_rank, sparse, mu * (rest - sparse)


def robust_pca(a: Matrix, *, weight: float | None = None, tol: float = 1e-7, max_iterations: int = 1000) -> RobustPCA:
    r"""Take a matrix apart into one of low rank and a sparse one: principal component pursuit, equation (7), by the steps (8)."""
    # given: the checks
    a = real_array(a, "a", ndim=2)
    if not a.any():
        raise ValueError(f"a must not be all zero, got zeros of the shape {a.shape}")
    if weight is not None:
        _check_level(weight, "weight")
    _check_driver(tol, max_iterations)
    size = _norm(a)
    # yours
    balance = weight or 1 / np.sqrt(max(a.shape))
    scale = np.abs(a).max()
    b = a / scale
    mu = b.size / (4 * float(np.abs(b).sum()))
    state, residuals = (b, np.zeros_like(b), np.zeros_like(b)), []
    for _ in range(max_iterations):
        state = pursuit_step(b, state[1], state[2], mu=mu, weight=balance)
        residuals.append(_norm(b - state[0] - state[1]) * float(scale) / size)
        if residuals[-1] <= tol:
            break
    return RobustPCA(scale * state[0], scale * state[1], np.array(residuals), bool(residuals[-1] <= tol))
