"""Signs by Sylvester's law from pivoted elimination, steps by eigenvectors, all fractions of a step tried at once."""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array, symmetric_matrix


@dataclass(frozen=True)
class Search:
    x: np.ndarray
    gradient_norm: float
    n_steps: int
    converged: bool


@dataclass(frozen=True)
class CriticalPoint:
    x: np.ndarray
    kind: str


def _positive(value, name):
    if not 0 < value < np.inf:
        raise ValueError(name)


def inertia(hessian, flat=1e-4):
    hessian = symmetric_matrix(hessian, "hessian")
    _positive(flat, "flat")
    counts = [0, 0, 0]
    for value in np.linalg.eigh(hessian)[0]:
        counts[0 if value < -flat else 2 if value > flat else 1] += 1
    return tuple(counts)


def classify(hessian, flat=1e-4):
    kinds = {(True, False, False): "maximum", (False, False, True): "minimum", (True, False, True): "saddle"}
    return kinds.get(tuple(count > 0 for count in inertia(hessian, flat)), "degenerate")


def newton_step(gradient, hessian):
    gradient = real_array(gradient, "gradient", ndim=1)
    hessian = symmetric_matrix(hessian, "hessian")
    if hessian.shape != gradient.shape * 2:
        raise ValueError("hessian")
    values, vectors = np.linalg.eigh(hessian)
    if np.abs(values).min() <= 1e-300 * (1 + np.abs(values).max()) and np.abs(values).min() == 0:
        raise np.linalg.LinAlgError("singular")
    return -vectors @ (vectors.T @ gradient / values)


def step_fraction(gradient, x, step):
    x, step = real_array(x, "x", ndim=1), real_array(step, "step", ndim=1)
    if x.shape != step.shape:
        raise ValueError("step")
    shares = 2.0 ** -np.arange(51)
    slopes = [np.asarray(gradient(point), dtype=float) for point in [x, *(x + np.outer(shares, step))]]
    if any(slope.shape != x.shape for slope in slopes):
        raise ValueError("gradient")
    lengths = np.linalg.norm(slopes, axis=1)
    good = lengths[1:] <= lengths[0] - 1e-4 * shares * lengths[0]
    return float(shares[good.argmax()]) if good.any() else 0.0


def newton(gradient, hessian, start, *, tol=1e-10, max_steps=100):
    x = real_array(start, "start", ndim=1).astype(float)
    _positive(tol, "tol")
    if max_steps < 0:
        raise ValueError("max_steps")

    def slope_at(point):
        value = np.asarray(gradient(point), dtype=float)
        if value.shape != x.shape:
            raise ValueError("gradient")
        return value

    slope, n_steps = slope_at(x), 0
    while True:
        length = float(np.linalg.norm(slope))
        if length <= tol or n_steps == max_steps:
            break
        curvature = np.asarray(hessian(x), dtype=float)
        if curvature.shape != x.shape * 2:
            raise ValueError("hessian")
        try:
            step = newton_step(slope, curvature)
        except np.linalg.LinAlgError:
            break
        share = step_fraction(slope_at, x, step)
        if not share:
            break
        x, n_steps = x + share * step, n_steps + 1
        slope = slope_at(x)
    return Search(x, length, n_steps, bool(length <= tol))


def distinct(points, apart):
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ValueError("points")
    _positive(apart, "apart")
    left, kept = points, []
    while len(left):
        kept.append(left[-1])
        left = left[np.sqrt(((left - left[-1]) ** 2).sum(axis=1)) >= apart]
    return np.array(kept).reshape(-1, points.shape[1])


def find_critical_points(gradient, hessian, starts, *, tol=1e-10, flat=1e-4, apart=1e-4):
    starts = real_array(starts, "starts", ndim=2)
    _positive(flat, "flat")
    _positive(apart, "apart")
    ends = [found.x for found in (newton(gradient, hessian, start, tol=tol) for start in starts) if found.converged]
    if not ends:
        return []
    return [CriticalPoint(end, classify(hessian(end), flat)) for end in distinct(np.array(ends), apart)]
