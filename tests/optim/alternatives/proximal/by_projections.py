"""Thresholds by projection, groups one by one, a walk that remembers all of t, the gap by norms."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.momentum import next_momentum

Prox = Callable[[Vector, float], Vector]

CONVERGED = "converged: the measure of optimality is at most tol"
DIVERGED = "diverged: the point or its gradient is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the measure fell to tol"


def soft_threshold(x: Float[np.ndarray, "*shape"], threshold: ArrayLike) -> Float[np.ndarray, "*shape"]:

    threshold = _not_negative(threshold, "threshold", x)
    return x - np.minimum(np.maximum(x, -threshold), threshold)


def prox_elastic_net(
    x: Float[np.ndarray, "*shape"], step_size: float, *, l1: float, l2: float
) -> Float[np.ndarray, "*shape"]:

    _not_negative(l1, "l1", x), _not_negative(l2, "l2", x)
    shrink = float(1 + step_size * l2)
    return soft_threshold(x / shrink, step_size * l1 / shrink)


def prox_group(
    x: Float[np.ndarray, " dim"], threshold: ArrayLike, groups: Int[np.ndarray, " dim"]
) -> Float[np.ndarray, " dim"]:

    groups = np.asarray(groups)
    if groups.shape != x.shape or groups.dtype.kind not in "iu" or groups.min() < 0:
        raise ValueError(f"groups must hold a number from 0 for each of {len(x)} coordinates, got {groups}")
    threshold = _not_negative(threshold, "threshold", np.zeros(groups.max() + 1, x.dtype))
    found = np.zeros_like(x)
    for g in np.unique(groups):
        mine = groups == g
        scale = abs(x[mine]).max()
        if scale > 0:
            length = scale * np.linalg.norm(x[mine] / scale)
            limit = threshold[g] if threshold.ndim else threshold
            if length > limit:
                found[mine] = (1 - limit / length) * x[mine]
    return found


def prox_nuclear(x: Float[np.ndarray, "n_rows n_cols"], threshold: float) -> Float[np.ndarray, "n_rows n_cols"]:

    _not_negative(threshold, "threshold", x)
    u, s, vt = np.linalg.svd(x)
    rank = int((s > threshold).sum())
    return u[:, :rank] @ np.diag(s[:rank] - s.dtype.type(threshold)) @ vt[:rank]


def moreau_envelope(
    penalty: Callable[[Vector], float], prox: Prox, x: Float[np.ndarray, " dim"], step_size: float
) -> tuple[float, Float[np.ndarray, " dim"]]:
    point = prox(x, step_size)
    gradient = (x - point) / step_size
    return float(penalty(point) + step_size / 2 * np.sum(gradient**2)), gradient


def backtrack(
    fun: Objective,
    x: Float[np.ndarray, " dim"],
    gradient: Float[np.ndarray, " dim"],
    prox: Prox,
    *,
    step_size: float,
    shrink: float = 0.5,
    max_trials: int = 60,
) -> tuple[Float[np.ndarray, " dim"], float, int]:
    value, trials = float(fun(x)), 0
    slack = 10 * float(np.finfo(x.dtype).eps) * abs(value)
    while True:
        point, trials = prox(x - step_size * gradient, step_size), trials + 1
        rise = float(fun(point)) - value - float(gradient @ (point - x))
        if rise <= float(np.sum((point - x) ** 2)) / (2 * step_size) + slack or trials == max_trials:
            return point, step_size, trials + 1
        step_size *= shrink


def proximal_gradient(
    fun: Objective,
    grad: Gradient,
    penalty: Callable[[Vector], float],
    prox: Prox,
    start: ArrayLike,
    *,
    step_size: float = 1.0,
    accelerate: bool = True,
    restart: bool = True,
    search: bool = False,
    measure: Callable[[Vector], float] | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:

    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    grad = checked_gradient(grad)
    points, nfev, message, nit = [x, x], 1, None, 0
    t = [1.0]
    for nit in range(1, max_iter + 1):
        last, older = points[-1], points[-2]
        share = (t[-2] - 1) / t[-1] if accelerate and len(t) > 1 else 0.0
        y = last + share * (last - older)
        if search:
            new, step_size, calls = backtrack(fun, y, grad(y), prox, step_size=step_size)
            nfev += calls
        else:
            new = prox(y - step_size * grad(y), step_size)
        points.append(new)
        left = measure(new) if measure else np.max(np.abs(new - y)) / step_size
        message = _reason(new, left, nit, tol=tol, max_iter=max_iter)
        if message is not None:
            break
        if restart and np.sum((y - new) * (new - last)) > 0:
            t = [1.0]
        t.append(next_momentum(t[-1])[0])
    path = np.array(points[1:]) if record_path else None
    total = float(fun(points[-1])) + float(penalty(points[-1]))
    return OptimizeResult(points[-1], total, nit, nfev, message == CONVERGED, str(message), path)


def lasso_gap(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    weights: Float[np.ndarray, " dim"],
    alpha: float,
) -> float:
    n_samples = len(targets)
    residual = targets - features @ weights
    correlation = np.linalg.norm(features.T @ residual, ord=np.inf) / n_samples
    scale = min(1.0, alpha / correlation) if correlation > 0 else 1.0
    theta = scale / n_samples * residual
    primal = np.mean(residual**2) / 2 + alpha * np.linalg.norm(weights, ord=1)
    dual = targets @ theta - n_samples / 2 * theta @ theta
    return float(primal - dual)


def alpha_max(features: Float[np.ndarray, "n_samples dim"], targets: Float[np.ndarray, " n_samples"]) -> float:
    return float(abs(targets @ features).max()) / len(targets)


def lasso(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alpha: float,
    *,
    accelerate: bool = True,
    restart: bool = True,
    search: bool = False,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> OptimizeResult:
    if features.ndim != 2 or targets.shape != features.shape[:1] or not features.size:
        raise ValueError(
            f"targets must have one number for each row of features, got {features.shape}, {targets.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(targets).all()):
        raise ValueError("features and targets must be finite, got NaN or infinity")
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    n_samples, dim = features.shape
    smoothness = float(np.linalg.norm(features, 2)) ** 2 / n_samples

    def residual(w: Vector) -> Float[np.ndarray, " n_samples"]:
        return features @ w - targets

    return proximal_gradient(
        lambda w: float(residual(w) @ residual(w)) / (2 * n_samples),
        lambda w: residual(w) @ features / n_samples,
        lambda w: alpha * float(abs(w).sum()),
        lambda w, step_size: soft_threshold(w, step_size * alpha),
        np.zeros(dim, features.dtype),
        step_size=(8.0 if search else 1.0) / smoothness if smoothness > 0 else 1.0,
        accelerate=accelerate,
        restart=restart,
        search=search,
        measure=lambda w: lasso_gap(features, targets, w, alpha),
        tol=tol * float(targets @ targets) / (2 * n_samples),
        max_iter=max_iter,
    )


def _not_negative(values: ArrayLike, name: str, x: np.ndarray) -> np.ndarray:
    array = np.asarray(values, dtype=x.dtype)
    if not (array >= 0).all():
        raise ValueError(f"{name} must not be negative, got {values}")
    if array.ndim and array.shape != x.shape:
        raise ValueError(f"{name} must be one number or have the shape {x.shape}, got {array.shape}")
    return array


def _reason(x: Vector, measure: float, nit: int, *, tol: float, max_iter: int) -> str | None:
    if not (np.isfinite(measure) and np.isfinite(x).all()):
        return DIVERGED
    if measure <= tol:
        return CONVERGED
    return OUT_OF_STEPS if nit >= max_iter else None
