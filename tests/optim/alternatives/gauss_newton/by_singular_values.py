"""Singular values throughout, columns one at a time, and loops that carry their reason to stop."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import OptimizeResult, Vector
from mlpath.optim.gradient_descent import check_arguments

Residuals = Callable[[Vector], np.ndarray]
Jacobian = Callable[[Vector], np.ndarray]

CONVERGED = "converged: no cosine between the residuals and a column of the Jacobian exceeds tol"
SHORT = "converged: the last step changed the parameters by no more than step_tol of their size"
STALLED = "stopped: even a step of step_tol of the parameters' size did not lower the sum of squares"
DIVERGED = "diverged: the residuals or the Jacobian are not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made"


@dataclass(frozen=True)
class FitResult(OptimizeResult):
    """What a fit ended with, beside what every result of this room holds: `fun` is half the sum of squares."""

    residuals: Float[np.ndarray, " n_samples"] = field(default_factory=lambda: np.zeros(0))
    jacobian: Float[np.ndarray, "n_samples n_params"] = field(default_factory=lambda: np.zeros((0, 0)))
    dampings: Float[np.ndarray, " n_steps"] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Uncertainty:
    """How well fitted parameters are known, equation (9)."""

    covariance: Float[np.ndarray, "n_params n_params"]
    standard_errors: Float[np.ndarray, " n_params"]
    residual_deviation: float


def gauss_newton_step(
    jacobian: Float[np.ndarray, "n_samples n_params"], residuals: Float[np.ndarray, " n_samples"]
) -> Float[np.ndarray, " n_params"]:
    """Return the step of Gauss and Newton, equation (2)."""
    u, s, vt = np.linalg.svd(jacobian, full_matrices=False)
    kept = s > max(jacobian.shape) * np.finfo(s.dtype).eps * s[0]
    return -(vt[kept].T / s[kept]) @ (u[:, kept].T @ residuals)


def damped_step(
    jacobian: Float[np.ndarray, "n_samples n_params"],
    residuals: Float[np.ndarray, " n_samples"],
    damping: float,
    scale: Float[np.ndarray, " n_params"],
) -> Float[np.ndarray, " n_params"]:
    r"""Return the step of Levenberg and Marquardt, equations (4) and (5)."""
    u, s, vt = np.linalg.svd(jacobian / scale, full_matrices=False)
    filtered = s / (s**2 + s.dtype.type(damping)) * (u.T @ residuals)
    return -(vt.T @ filtered) / scale


def gain_ratio(
    residuals: Float[np.ndarray, " n_samples"],
    trial: Float[np.ndarray, " n_samples"],
    linear: Float[np.ndarray, " n_samples"],
) -> float:
    r"""Return the decrease of the sum of squares over that which the tangent promised, equation (6)."""
    if not np.isfinite(trial).all():
        return float("-inf")
    actual = float(sum((a - b) * (a + b) for a, b in zip(residuals, trial)))
    promised = float(sum((a - b) * (a + b) for a, b in zip(residuals, linear)))
    slack = 10 * float(np.finfo(residuals.dtype).eps) * float(np.dot(residuals, residuals))
    return (actual + slack) / (promised + slack) if promised > 0 else float("-inf")


def next_damping(damping: float, growth: float, ratio: float) -> tuple[float, float]:
    r"""Return the damping for the next step, and the next growth, equation (7)."""
    if not ratio > 0:
        damping, growth = damping * growth, growth * 2.0
        return (damping if damping < 1e300 else 1e300), growth
    factor = 1 - (2 * ratio - 1) ** 3
    return damping * (factor if factor > 1 / 3 else 1 / 3), 2.0


def optimality(jacobian: Float[np.ndarray, "n_samples n_params"], residuals: Float[np.ndarray, " n_samples"]) -> float:
    """Return the largest cosine, in size, between the residuals and a column of the Jacobian, equation (8)."""
    if not residuals.any():
        return 0.0
    r = residuals / abs(residuals).max()
    r = r / np.linalg.norm(r)
    cosines = [0.0]
    for column in jacobian.T:
        if column.any():
            c = column / abs(column).max()
            cosines.append(abs(float(c @ r)) / float(np.linalg.norm(c)))
    return max(cosines)


def gauss_newton(
    residuals: Residuals,
    jacobian: Jacobian,
    start: ArrayLike,
    *,
    tol: float = 1e-8,
    step_tol: float = 1e-12,
    max_iter: int = 100,
    record_path: bool = False,
) -> FitResult:
    r"""Minimise a sum of squares by full steps of Gauss and Newton."""
    x, residuals, jacobian = _checked(residuals, jacobian, start, tol, step_tol, max_iter)
    r, j = residuals(x), jacobian(x)
    path, nit = [x], 0
    message = _reason(r, j, None, 0, tol, max_iter)
    while message is None:
        h = gauss_newton_step(j, r)
        d = np.linalg.norm(j, axis=0)
        x, nit = x + h, nit + 1
        path.append(x)
        r, j = residuals(x), jacobian(x)
        still = ((d * h) ** 2).sum() <= step_tol**2 * ((d * x) ** 2).sum()
        message = _reason(r, j, SHORT if still else None, nit, tol, max_iter)
    return _result(x, r, j, message, path, record_path, nit, [])


def levenberg_marquardt(
    residuals: Residuals,
    jacobian: Jacobian,
    start: ArrayLike,
    *,
    damping: float = 1e-3,
    tol: float = 1e-8,
    step_tol: float = 1e-12,
    max_iter: int = 200,
    record_path: bool = False,
) -> FitResult:
    r"""Minimise a sum of squares by the method of Levenberg and Marquardt."""
    x, residuals, jacobian = _checked(residuals, jacobian, start, tol, step_tol, max_iter, damping)
    r, j, nu, points, mus = residuals(x), jacobian(x), 2.0, [x], []
    d = np.linalg.norm(j, axis=0)
    d[d == 0] = 1
    message = _reason(r, j, None, 0, tol, max_iter)
    while message is None:
        h = damped_step(j, r, damping, d)
        tried = residuals(x + h)
        rho = gain_ratio(r, tried, j @ h + r)
        mus.append(damping)
        damping, nu = next_damping(damping, nu, rho)
        ending = None
        if np.linalg.norm(d * h) <= step_tol * np.linalg.norm(d * x):
            ending = STALLED if rho <= 0 else SHORT
        if rho > 0:
            x = x + h
            r, j = tried, jacobian(x)
            d = np.maximum(d, np.linalg.norm(j, axis=0))
        points.append(x)
        message = _reason(r, j, ending, len(mus), tol, max_iter)
    return _result(x, r, j, message, points, record_path, len(mus), mus)


def uncertainty(
    jacobian: Float[np.ndarray, "n_samples n_params"], residuals: Float[np.ndarray, " n_samples"]
) -> Uncertainty:
    r"""Return how well fitted parameters are known, equation (9)."""
    n, p = jacobian.shape
    if n <= p:
        raise ValueError(f"residuals must be more than the {p} parameters, got {n}")
    norms = _scale(jacobian)
    _, s, vt = np.linalg.svd(jacobian / norms, full_matrices=False)
    pivots = abs(np.diag(np.linalg.qr(jacobian / norms)[1]))
    if (pivots <= 10 * n * np.finfo(s.dtype).eps).any():
        raise np.linalg.LinAlgError("the columns are dependent")
    unscaled = (vt.T / s**2) @ vt
    variance = float(residuals @ residuals) / (n - p)
    covariance = s.dtype.type(variance) * unscaled / np.outer(norms, norms)
    return Uncertainty(covariance, np.sqrt(np.diag(covariance)), variance**0.5)


def _scale(  # given
    jacobian: np.ndarray, before: np.ndarray | float = 0.0
) -> np.ndarray:
    """Return the norms of the columns, 1 for a column of zeros; or the scale before, where that is larger."""
    largest = abs(jacobian).max(axis=0)
    largest = np.where(largest > 0, largest, 1).astype(jacobian.dtype)
    norms = np.linalg.norm(jacobian / largest, axis=0) * largest
    return np.maximum(np.where(norms > 0, norms, 0 if np.any(before) else 1), before).astype(jacobian.dtype)


def _reason(  # given
    r: np.ndarray, j: np.ndarray, ending: str | None, nit: int, tol: float, max_iter: int
) -> str | None:
    """Return why to stop, or None; `ending` is the reason that the length of the last step gave, if any."""
    if not (np.isfinite(r).all() and np.isfinite(j).all()):
        return DIVERGED
    if optimality(j, r) <= tol:
        return CONVERGED
    return ending or (OUT_OF_STEPS if nit >= max_iter else None)


def _result(  # given
    x: Vector,
    r: np.ndarray,
    j: np.ndarray,
    message: str | None,
    path: list[Vector],
    record_path: bool,
    nit: int,
    dampings: list[float],
) -> FitResult:
    """Return the result of a walk whose path has been kept."""
    value, points, success = float(r @ r) / 2, np.array(path) if record_path else None, message in (CONVERGED, SHORT)
    return FitResult(x, value, nit, nit + 1, success, str(message), points, r, j, np.array(dampings))


def _checked(  # given: argument checks
    residuals: Residuals,
    jacobian: Jacobian,
    start: ArrayLike,
    tol: float,
    step_tol: float,
    max_iter: int,
    damping: float = 1.0,
) -> tuple[Vector, Residuals, Jacobian]:
    """Return the start, and functions that refuse results of the wrong shape, or raise a ValueError."""
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    if not 0 <= step_tol < np.inf:
        raise ValueError(f"step_tol must be non-negative and finite, got {step_tol}")
    if not 0 < damping < np.inf:
        raise ValueError(f"damping must be positive and finite, got {damping}")

    lengths: set[int] = set()

    def vector(x: Vector) -> np.ndarray:
        r = np.asarray(residuals(x), dtype=x.dtype)
        if r.ndim != 1 or not r.size:
            raise ValueError(f"residuals must return a vector of at least one number, got shape {r.shape}")
        lengths.add(len(r))
        if len(lengths) > 1:
            raise ValueError(f"residuals must always return as many numbers, got {sorted(lengths)}")
        return r

    def matrix(x: Vector) -> np.ndarray:
        j = np.asarray(jacobian(x), dtype=x.dtype)
        expected = (*lengths, len(x))
        if j.shape != expected:
            raise ValueError(f"jacobian must return shape {expected}, got {j.shape}")
        return j

    return x, vector, matrix
