"""One row at a time: a threshold by repeated guesses, lstsq for affine sets, three cases for the cone, a table of duals."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import check_arguments

Points = Float[np.ndarray, "*points dim"]
Projection = Callable[[Float[np.ndarray, " dim"]], Float[np.ndarray, " dim"]]

CONVERGED = "converged: no projection of the last cycle moved the point by more than tol"
OUT_OF_STEPS = "stopped: max_iter cycles were made before the point came to rest"


def norms(x: Points) -> Float[np.ndarray, "*points 1"]:
    scale = abs(x).max(axis=-1, keepdims=True, initial=0)
    scale = np.where(scale > 0, scale, np.ones_like(scale))
    return scale * np.linalg.norm(x / scale, axis=-1, keepdims=True)


def each(function, x: Points) -> Points:
    return np.apply_along_axis(function, -1, x).astype(x.dtype)


def project_box(x: Points, lower: ArrayLike, upper: ArrayLike) -> Points:
    x = _points(x)
    low, high = _bound(lower, "lower", x), _bound(upper, "upper", x)
    if (low > high).any():
        raise ValueError(f"lower must not be above upper, got {lower} and {upper}")
    return np.where(x < low, low, np.where(x > high, high, x))


def project_ball(x: Points, radius: float = 1.0, *, center: ArrayLike = 0.0) -> Points:
    x, radius = _points(x), _positive(radius)
    middle = _bound(center, "center", x)
    if not np.isfinite(middle).all():
        raise ValueError(f"center must be finite, got {center}")

    def one(point):
        away = point - middle
        length = norms(away)[0]
        return point.copy() if length <= radius else middle + radius * (away / length)

    return each(one, x)


def project_half_space(x: Points, normal: Float[np.ndarray, " dim"], offset: float) -> Points:
    x = _points(x)
    normal = _rows(np.reshape(normal, (1, -1)), "normal", x)[0]
    if not normal.any() or not np.isfinite(offset):
        raise ValueError(f"normal must not be zero, and offset finite, got {normal} and {offset}")
    scale = abs(normal).max()
    normal, offset = normal / scale, float(offset) / scale

    def one(point):
        excess = normal @ point - offset
        return point - excess * normal / (normal @ normal) if excess > 0 else point.copy()

    return each(one, x)


def project_affine(x: Points, matrix: Float[np.ndarray, "n_rows dim"], rhs: Float[np.ndarray, " n_rows"]) -> Points:
    x = _points(x)
    rows = _rows(matrix, "matrix", x)
    rhs = np.asarray(rhs, dtype=x.dtype)
    if rhs.shape != rows.shape[:1] or not np.isfinite(rhs).all():
        raise ValueError(f"rhs must be finite, with one number for each row of matrix, got {rhs}")
    lengths = norms(rows)
    lengths = np.where(lengths > 0, lengths, np.ones_like(lengths))
    rows, rhs = rows / lengths, rhs / lengths[:, 0]
    precision = np.finfo(x.dtype).eps
    solve = partial(np.linalg.lstsq, rows, rcond=rows.size * precision)
    size = abs(rhs).max()
    if size > 0:
        fit = rows @ solve(rhs / size)[0]
        if np.linalg.norm(fit - rhs / size) > np.sqrt(precision) * np.linalg.norm(rhs / size):
            raise ValueError(f"rhs contradicts matrix: no point satisfies all equations, got {rhs}")
    return each(lambda point: point - solve(rows @ point - rhs)[0], x)


def project_simplex(x: Points, radius: float = 1.0) -> Points:
    x, radius = _points(x), _positive(radius)

    def one(point):
        point = point - point.max()
        kept = point[point > -radius]
        while True:
            theta = (kept.sum() - radius) / len(kept)
            if (kept > theta).all():
                return np.maximum(point - theta, 0)
            kept = kept[kept > theta]

    return each(one, x)


def project_l1_ball(x: Points, radius: float = 1.0) -> Points:
    x, radius = _points(x), _positive(radius)

    def one(point):
        if np.linalg.norm(point, 1) <= radius:
            return point.copy()
        return np.copysign(project_simplex(abs(point), radius), point)

    return each(one, x)


def project_second_order_cone(x: Points) -> Points:
    x = _points(x)

    def one(point):
        v, t = point[:-1], point[-1]
        length = norms(v)[0]
        if length <= t:
            return point.copy()
        if length <= -t:
            return np.zeros_like(point)
        return (1 + t / length) / 2 * np.append(v, length)

    return each(one, x)


def dykstra(
    start: ArrayLike,
    projections: Sequence[Projection],
    *,
    tol: float = 1e-10,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    start = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    projections = [_checked(project) for project in projections]
    if not projections:
        raise ValueError(f"projections must hold at least one, got {projections}")
    duals, points = np.zeros((len(projections), len(start)), start.dtype), [start]
    success = False
    while not success and len(points) <= max_iter:
        visited = [points[-1]]
        for dual, project in zip(duals, projections, strict=True):
            y = visited[-1] + dual
            visited.append(project(y))
            dual[:] = y - visited[-1]
        points.append(visited[-1])
        unit = max(abs(points[-1]).max(), abs(start).max())
        success = bool(abs(np.diff(visited, axis=0)).max() <= tol * unit)
    x, nit = points[-1], len(points) - 1
    message = CONVERGED if success else OUT_OF_STEPS
    path = np.array(points) if record_path else None
    value = 0.5 * float(np.sum((x - start) ** 2))
    return OptimizeResult(x, value, nit, nit * len(projections), success, message, path)


def _points(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x)
    if x.ndim == 0 or not x.size or x.dtype.kind not in "fiu":
        raise ValueError(f"x must hold at least one point of at least one number, got shape {x.shape} of {x.dtype}")
    if not np.isfinite(x).all():
        raise ValueError(f"x must be finite, got {x}")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _positive(radius: float) -> float:
    if not 0 < radius < np.inf:
        raise ValueError(f"radius must be positive and finite, got {radius}")
    return float(radius)


def _bound(values: ArrayLike, name: str, x: np.ndarray) -> np.ndarray:
    array = np.asarray(values, dtype=x.dtype)
    if array.shape not in ((), x.shape[-1:]) or np.isnan(array).any():
        raise ValueError(f"{name} must be one number, or one for each of {x.shape[-1]} coordinates, got {values}")
    return array


def _rows(values: ArrayLike, name: str, x: np.ndarray) -> np.ndarray:
    rows = np.asarray(values, dtype=x.dtype)
    if rows.ndim != 2 or not rows.size or rows.shape[1] != x.shape[-1] or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite with rows of {x.shape[-1]} numbers, got {values}")
    return rows


def _checked(project: Projection) -> Projection:
    def checked(x: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:
        found = np.asarray(project(x), dtype=x.dtype)
        if found.shape != x.shape or not np.isfinite(found).all():
            raise ValueError(f"projections must return finite points of shape {x.shape}, got {found}")
        return found

    return checked
