"""Other coordinates deleted, partial residuals, signs one by one, and a path over all features."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

GAP_REACHED = "converged: the duality gap is at most tol"
OUT_OF_SWEEPS = "stopped: max_iter sweeps were made before the gap fell to tol"


@dataclass(frozen=True)
class ElasticNetResult(OptimizeResult):
    gap: float = np.inf


@dataclass(frozen=True)
class LassoPath:
    alphas: Float[np.ndarray, " n_alphas"]
    weights: Float[np.ndarray, "n_alphas dim"]
    gaps: Float[np.ndarray, " n_alphas"]
    success: bool


@dataclass(frozen=True)
class WorkingSet:
    indices: np.ndarray
    columns: np.ndarray
    gram: np.ndarray


def quadratic_sweep(
    hessian: Float[np.ndarray, "dim dim"],
    linear: Float[np.ndarray, " dim"],
    x: Float[np.ndarray, " dim"],
    order: Iterable[int],
) -> Float[np.ndarray, " dim"]:
    x = x.copy()
    for j in order:
        others = np.delete(hessian[j], j) @ np.delete(x, j)
        x[j] = (linear[j] - others) / hessian[j, j]
    return x


def minimize_quadratic(
    hessian: Float[np.ndarray, "dim dim"],
    linear: Float[np.ndarray, " dim"],
    start: ArrayLike,
    *,
    order: Literal["cyclic", "random"] = "cyclic",
    rng: np.random.Generator | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    dim = len(x)
    if hessian.shape != (dim, dim) or not (np.diag(hessian) > 0).all():
        raise ValueError(f"hessian must have shape {(dim, dim)} and a positive diagonal, got {hessian}")
    if linear.shape != (dim,):
        raise ValueError(f"linear must have shape {(dim,)}, got {linear.shape}")
    _check_order(order, rng)
    nit, path = 0, [x]
    while True:
        slope = hessian @ x - linear
        value = float(x @ (slope - linear)) / 2
        if (message := stopping(value, slope, nit, tol=tol, max_iter=max_iter)) is not None:
            break
        draws = range(dim) if rng is None or order == "cyclic" else rng.integers(dim, size=dim)
        x, nit = quadratic_sweep(hessian, linear, x, draws), nit + 1
        if record_path:
            path.append(x)
    return OptimizeResult(x, value, nit, 1, message == CONVERGED, message, np.array(path) if record_path else None)


def lasso_coordinate(correlation: float, weight: float, curvature: float, l1: float, l2: float = 0.0) -> float:
    if curvature == 0:
        return 0.0
    free = weight + correlation / curvature  # the best value without penalties
    shrunk = max(abs(free) - l1 / curvature, 0.0)
    return float(np.copysign(shrunk, free)) * curvature / (curvature + l2)


def residual_sweep(
    features: Float[np.ndarray, "n_samples dim"],
    residual: Float[np.ndarray, " n_samples"],
    weights: Float[np.ndarray, " dim"],
    order: Iterable[int],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[Float[np.ndarray, " n_samples"], Float[np.ndarray, " dim"]]:
    n_samples, weights, found = len(residual), weights.copy(), residual.copy()
    squares = np.einsum("ij,ij->j", features, features) / n_samples
    for j in order:
        found = found + weights[j] * features[:, j]  # without this feature
        weights[j] = lasso_coordinate(float(features[:, j] @ found) / n_samples, 0.0, float(squares[j]), l1, l2)
        found = found - weights[j] * features[:, j]
    return found, weights


def gram_sweep(
    gram: Float[np.ndarray, "dim dim"],
    correlations: Float[np.ndarray, " dim"],
    weights: Float[np.ndarray, " dim"],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    new = weights.copy()
    for j in range(len(weights)):
        correlation = float(correlations[j] - gram[j] @ (new - weights))
        new[j] = lasso_coordinate(correlation, float(new[j]), float(gram[j, j]), l1, l2)
    return correlations - gram @ (new - weights), new


def orthant_step(
    gram: Float[np.ndarray, "dim dim"],
    correlations: Float[np.ndarray, " dim"],
    weights: Float[np.ndarray, " dim"],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    signs = np.sign(weights)
    active = signs != 0
    if not active.any():
        return correlations.copy(), weights.copy()
    matrix = gram[active][:, active] + l2 * np.eye(active.sum(), dtype=gram.dtype)
    slope = (correlations - l2 * weights - l1 * signs)[active]
    try:
        move = np.linalg.solve(matrix, slope)
    except np.linalg.LinAlgError:
        return correlations.copy(), weights.copy()
    if not slope @ move > 0:
        return correlations.copy(), weights.copy()
    share, first = min(1.0, float(slope @ move) / max(float(move @ matrix @ move), 1e-300)), None
    for j, (here, change) in enumerate(zip(weights[active].tolist(), move.tolist(), strict=True)):
        if here * change < 0 and -here / change <= share:
            share, first = -here / change, j
    values = weights[active] + weights.dtype.type(share) * move
    if first is not None:
        values[first] = 0
    new = weights.copy()
    new[active] = values
    return correlations - gram @ (new - weights), new


def duality_gap(
    targets: Float[np.ndarray, " n_samples"],
    residual: Float[np.ndarray, " n_samples"],
    correlations: Float[np.ndarray, " dim"],
    weights: Float[np.ndarray, " dim"],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[float, float]:
    n_samples, squared = len(targets), l2 * float(weights @ weights)
    steepest = float(abs(correlations - l2 * weights).max())
    share = min(1.0, l1 / steepest) if steepest > 0 else 1.0
    mean_square = float(residual @ residual) / n_samples
    value = (mean_square + squared) / 2 + l1 * float(abs(weights).sum())
    bound = share * float(targets @ residual) / n_samples - share**2 * (mean_square + squared) / 2
    return value, value - bound


def elastic_net(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alpha: float,
    *,
    l1_ratio: float = 1.0,
    order: Literal["cyclic", "random"] = "cyclic",
    rng: np.random.Generator | None = None,
    tol: float = 1e-8,
    max_iter: int = 1000,
    record_path: bool = False,
) -> ElasticNetResult:

    features, targets = _data(features, targets)
    l1, l2 = _penalties(alpha, l1_ratio)
    _check_order(order, rng)
    check_arguments([0.0], step_size=1.0, tol=tol, max_iter=max_iter)
    n_samples, dim = features.shape
    path, residual, success = [np.zeros(dim, features.dtype)], targets, False
    for nit in range(max_iter + 1):
        weights = path[-1]
        correlations = features.T @ residual / n_samples
        value, gap = duality_gap(targets, residual, correlations, weights, l1=l1, l2=l2)
        success = gap <= tol * np.mean(targets**2) / 2
        if success or nit == max_iter:
            break
        draws = rng.integers(0, dim, dim) if order == "random" and rng is not None else np.arange(dim)
        residual, weights = residual_sweep(features, residual, weights, draws, l1=l1, l2=l2)
        path.append(weights)
    message = GAP_REACHED if success else OUT_OF_SWEEPS
    nit, rows = len(path) - 1, np.array(path) if record_path else None
    return ElasticNetResult(path[-1], value, nit, nit + 1, bool(success), message, rows, gap)


def strong_set(correlations: Float[np.ndarray, " dim"], l1: float, previous_l1: float) -> Bool[np.ndarray, " dim"]:
    bound = l1 - (previous_l1 - l1)
    return np.maximum(correlations, -correlations) >= bound


def grow(working: WorkingSet, features: Float[np.ndarray, "n_samples dim"], wanted: np.ndarray) -> WorkingSet:
    new = np.setdiff1d(np.flatnonzero(wanted), working.indices)
    if not len(new):
        return working
    columns, n_samples = features[:, new], len(features)
    cross = working.columns.T @ columns / n_samples
    gram = np.block([[working.gram, cross], [cross.T, columns.T @ columns / n_samples]])
    return WorkingSet(np.append(working.indices, new), np.hstack([working.columns, columns]), gram)


def lasso_path(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alphas: Float[np.ndarray, " n_alphas"],
    *,
    l1_ratio: float = 1.0,
    tol: float = 1e-8,
    max_iter: int = 1000,
) -> LassoPath:

    features, targets = _data(features, targets)
    alphas = np.sort(np.asarray(alphas, dtype=features.dtype))[::-1]
    penalties = [_penalties(float(alpha), l1_ratio) for alpha in alphas]
    check_arguments([0.0], step_size=1.0, tol=tol, max_iter=max_iter)
    n_samples, dim = features.shape
    enough = tol * float(targets @ targets) / (2 * n_samples)
    weights, correlations = np.zeros(dim, features.dtype), targets @ features / n_samples
    rows, gaps = [], []
    everything = features.T @ features / n_samples  # no screening at all
    for l1, l2 in penalties:
        for _ in range(max_iter):
            _, weights = gram_sweep(everything, correlations, weights, l1=l1, l2=l2)
            _, weights = orthant_step(
                everything, features.T @ (targets - features @ weights) / n_samples, weights, l1=l1, l2=l2
            )
            residual = targets - features @ weights
            correlations = features.T @ residual / n_samples
            gap = duality_gap(targets, residual, correlations, weights, l1=l1, l2=l2)[1]
            if gap <= enough:
                break
        rows.append(weights)
        gaps.append(gap)
    return LassoPath(alphas, np.array(rows), np.array(gaps, dtype=features.dtype), max(gaps) <= enough)


def _data(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features, targets = np.asfortranarray(features), np.asarray(targets)
    if features.ndim != 2 or not features.size:
        raise ValueError(f"features must have shape (n_samples, dim), got {features.shape}")
    if targets.shape != features.shape[:1]:
        raise ValueError(f"targets must have shape {features.shape[:1]}, got {targets.shape}")
    features = features if features.dtype.kind == "f" else features.astype(np.float64)
    targets = targets.astype(features.dtype)
    for name, values in (("features", features), ("targets", targets)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")
    return features, targets


def _penalties(alpha: float, l1_ratio: float) -> tuple[float, float]:
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    if not 0 < l1_ratio <= 1:
        raise ValueError(f"l1_ratio must be above 0 and at most 1, got {l1_ratio}")
    return float(alpha * l1_ratio), float(alpha * (1 - l1_ratio))


def _check_order(order: str, rng: np.random.Generator | None) -> None:
    if order not in ("cyclic", "random") or (order == "random" and rng is None):
        raise ValueError(f"order must be 'cyclic', or 'random' with rng, got {order!r}")
