"""Differences as matrices along an axis, the curl by the permutation symbol, all neighbours of the points at once."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "n_points n"]
Jacobians = Float[np.ndarray, "*batch n n"]
Grid = Float[np.ndarray, "*shape"]
VectorField = Callable[[np.ndarray], np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


def _finite(values: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return the values as an array of floats, or raise a ValueError that says what is wrong with them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be an array of real, finite numbers, got {values!r}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _points(points: np.ndarray, step: float) -> np.ndarray:  # given: argument checks
    """Return the points, if they and the step are fit for differences."""
    points = _finite(points, "points").astype(np.float64)  # single precision would leave no digits
    if points.ndim != 2:
        raise ValueError(f"points must have the shape (n_points, n), got {points.shape}")
    if not 0 < step < np.inf:
        raise ValueError(f"step must be positive and finite, got {step}")
    return points


def _checked(f: Callable[[np.ndarray], np.ndarray], name: str, vector: bool) -> Function:  # given: argument checks
    """Return the function with its values checked: finite, and one number or one vector for each point."""

    def checked(points: np.ndarray) -> np.ndarray:
        values, shape = np.asarray(f(points)), points.shape if vector else points.shape[:1]
        if values.shape != shape:
            raise ValueError(
                f"{name} must return the shape {shape} for points of the shape {points.shape}, got {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite around the points, got {values}")
        return values

    return checked


def _square(jacobian: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return Jacobians, the last two axes of which are equally long."""
    jacobian = _finite(jacobian, "jacobian")
    if jacobian.ndim < 2 or jacobian.shape[-1] != jacobian.shape[-2]:
        raise ValueError(f"jacobian must have the shape (..., n, n), got {jacobian.shape}")
    return jacobian


def _grid(
    values: np.ndarray, name: str, least: int, spacings: Sequence[float], vector: bool
) -> np.ndarray:  # given: checks
    """Return values on a grid, of at least so many nodes along each axis."""
    values = _finite(values, name)
    shape = values.shape[1:] if vector else values.shape
    if vector and len(values) != len(shape):
        raise ValueError(f"{name} must have as many components as the grid has axes, got the shape {values.shape}")
    if not shape or min(shape) < least:
        raise ValueError(f"{name} must have at least {least} nodes along each axis, got the shape {values.shape}")
    if len(spacings) != len(shape) or not all(0 < h < np.inf for h in spacings):
        raise ValueError(f"spacings must be {len(shape)} positive numbers, one for each axis, got {spacings}")
    return values


def _first(m: int) -> np.ndarray:
    """The matrix of first differences."""
    d = (np.eye(m, k=1) - np.eye(m, k=-1)) / 2
    d[0, :3], d[-1, -3:] = [-1.5, 2, -0.5], [0.5, -2, 1.5]
    return d


def _second(m: int) -> np.ndarray:
    """The matrix of second differences."""
    d = np.eye(m, k=1) - 2 * np.eye(m) + np.eye(m, k=-1)
    d[0, :4], d[-1, -4:] = [2, -5, 4, -1], [-1, 4, -5, 2]
    return d


def _along(values: np.ndarray, axis: int, matrix: np.ndarray) -> np.ndarray:
    """Multiply by a matrix along an axis."""
    moved = np.tensordot(matrix.astype(values.dtype), values, axes=(1, axis))
    return np.ascontiguousarray(np.moveaxis(moved, 0, axis))


def jacobians(field: VectorField, points: Points, step: float = 1e-5) -> Float[np.ndarray, "n_points n n"]:
    """Return the Jacobian of a vector field at each point by central differences, equation (1)."""
    # given: the checks
    points, field = _points(points, step), _checked(field, "field", vector=True)
    # yours
    n_points, n = points.shape
    result = np.empty((n_points, n, n))
    for j in range(n):
        ahead, behind = points.copy(), points.copy()
        ahead[:, j] += step
        behind[:, j] -= step
        result[:, :, j] = (field(ahead) - field(behind)) / (2 * step)
    return result


def divergence(jacobian: Jacobians) -> Float[np.ndarray, "*batch"]:
    """Return the divergence of a vector field from its Jacobians, equation (2)."""
    # given: the check
    jacobian = _square(jacobian)
    # yours
    return np.asarray(np.einsum("...ii->...", jacobian))


def curl(jacobian: Jacobians) -> Float[np.ndarray, "..."]:
    """Return the curl of a vector field from its Jacobians, equation (3)."""
    # given: the check
    jacobian = _square(jacobian)
    if jacobian.shape[-1] not in (2, 3):
        raise ValueError(f"jacobian must be 2 by 2 or 3 by 3 in its last axes, got the shape {jacobian.shape}")
    # yours
    if jacobian.shape[-1] == 2:
        return np.asarray(jacobian[..., 1, 0] - jacobian[..., 0, 1])
    signs = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        signs[i, j, k], signs[i, k, j] = 1, -1
    return np.einsum("ijk,...kj->...i", signs, jacobian)


def laplacian(f: Function, points: Points, step: float = 1e-4) -> Float[np.ndarray, " n_points"]:
    """Return the Laplacian of a function at each point by second differences, equation (4)."""
    # given: the checks
    points, f = _points(points, step), _checked(f, "f", vector=False)
    # yours
    n = points.shape[1]
    stencil = np.concatenate([np.zeros((1, n)), step * np.eye(n), -step * np.eye(n)])
    values = np.stack([f(points + shift) for shift in stencil])
    return (values[1:] - values[0]).sum(axis=0) / step**2


def grid_partial(values: Grid, axis: int, spacing: float) -> Grid:
    """Return the slopes along an axis of a grid, equations (5) and (6)."""
    # given: the checks
    values = _finite(values, "values")
    if not -values.ndim <= axis < values.ndim:
        raise ValueError(f"axis must be one of the {values.ndim} axes of the grid, got {axis}")
    if values.shape[axis] < 3:
        raise ValueError(f"values must have at least 3 nodes along the axis, got {values.shape[axis]}")
    if not 0 < spacing < np.inf:
        raise ValueError(f"spacing must be positive and finite, got {spacing}")
    # yours
    return _along(values, axis, _first(values.shape[axis]) / spacing)


def grid_divergence(field: Float[np.ndarray, "n *shape"], spacings: Sequence[float]) -> Float[np.ndarray, "*shape"]:
    """Return the divergence of a vector field on a grid, equation (2)."""
    # given: the checks
    field = _grid(field, "field", 3, spacings, vector=True)
    # yours
    total = grid_partial(field[0], 0, spacings[0])
    for axis in range(1, len(field)):
        total = total + grid_partial(field[axis], axis, spacings[axis])
    return total


def grid_curl(field: Float[np.ndarray, "n *shape"], spacings: Sequence[float]) -> Float[np.ndarray, "..."]:
    """Return the curl of a vector field on a grid in two or three dimensions, equation (3)."""
    # given: the checks
    field = _grid(field, "field", 3, spacings, vector=True)
    if len(field) not in (2, 3):
        raise ValueError(f"field must have 2 or 3 components, got {len(field)}")
    # yours
    n = len(field)
    slopes = [[grid_partial(field[i], j, spacings[j]) for j in range(n)] for i in range(n)]
    nodes = np.moveaxis(np.array(slopes), (0, 1), (-2, -1))
    return curl(nodes) if n == 2 else np.moveaxis(curl(nodes), -1, 0)


def grid_laplacian(values: Grid, spacings: Sequence[float]) -> Grid:
    """Return the Laplacian on a grid, equation (8)."""
    # given: the checks
    values = _grid(values, "values", 4, spacings, vector=False)
    # yours
    terms = [_along(values, axis, _second(values.shape[axis]) / h**2) for axis, h in enumerate(spacings)]
    return np.sum(terms, axis=0)
