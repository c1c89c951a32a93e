"""All nodes of all ways at once, the grid node by node, determinants for the flux, the edge run through in its own direction."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mlpath.calculus.vector_calculus.derivatives import jacobians

Points = Float[np.ndarray, "n_points n"]
VectorField = Callable[[np.ndarray], np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


class Curve(NamedTuple):
    """A curve, as two functions of the time from 0 to 1."""

    point: Callable[[np.ndarray], np.ndarray]
    velocity: Callable[[np.ndarray], np.ndarray]


class Surface(NamedTuple):
    """A surface in space, as three functions of two parameters from 0 to 1."""

    point: Callable[[np.ndarray, np.ndarray], np.ndarray]
    along_u: Callable[[np.ndarray, np.ndarray], np.ndarray]
    along_v: Callable[[np.ndarray, np.ndarray], np.ndarray]


def nodes(n_nodes: int) -> tuple[Float[np.ndarray, " n_nodes"], Float[np.ndarray, " n_nodes"]]:  # given
    """Return the nodes and the weights of Gauss and Legendre on the interval from 0 to 1."""
    if n_nodes < 1:
        raise ValueError(f"n_nodes must be at least 1, got {n_nodes}")
    t, w = np.polynomial.legendre.leggauss(n_nodes)
    return (t + 1) / 2, w / 2


def _finite(values: np.ndarray, name: str, ndim: int) -> np.ndarray:  # given: argument checks
    """Return the values as an array of floats, or raise a ValueError that says what is wrong with them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be an array of real, finite numbers with {ndim} axes, got {values!r}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _checked(f: Function, name: str, vector: bool) -> Function:  # given: argument checks
    """Return the function with its values checked: finite, and one number or one vector for each point."""

    def checked(points: np.ndarray) -> np.ndarray:
        values, shape = np.asarray(f(points)), points.shape if vector else points.shape[:1]
        if values.shape != shape:
            raise ValueError(
                f"{name} must return the shape {shape} for points of the shape {points.shape}, got {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite at the points, got {values}")
        return values

    return checked


def _box(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return the corners of a box; one of no dimension is a point."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if low.ndim != 1 or not np.isfinite(low).all():
        raise ValueError(f"low must be a vector of finite numbers, got {low}")
    if high.shape != low.shape or not np.isfinite(high).all() or (high <= low).any():
        raise ValueError(f"high must be finite and above low, {low}, got {high}")
    return low, high


def line_integral(field: VectorField, curve: Curve, n_nodes: int = 40) -> float:
    """Return the work of a field along a curve, equation (1)."""
    # given: the checks
    field, (t, w) = _checked(field, "field", vector=True), nodes(n_nodes)
    # yours
    forces, speeds = field(curve.point(t)), curve.velocity(t)
    return float(np.einsum("k,ki,ki->", w, forces, speeds))


def potential(
    field: VectorField, base: Float[np.ndarray, " n"], points: Points, n_nodes: int = 40
) -> Float[np.ndarray, " n_points"]:
    """Return the potential of a gradient field at points, along straight ways from a base, equation (2)."""
    # given: the checks
    points, base = _finite(points, "points", 2), _finite(base, "base", 1)
    if len(base) != points.shape[1]:
        raise ValueError(f"base must have {points.shape[1]} entries, as the points have, got {len(base)}")
    field, (t, w) = _checked(field, "field", vector=True), nodes(n_nodes)
    # yours
    n_points, n = points.shape
    ways = points - base
    stops = base + t[:, None, None] * ways
    forces = field(stops.reshape(-1, n)).reshape(len(t), n_points, n)
    return np.einsum("k,kpi,pi->p", w, forces, ways)


def rotation_share(field: VectorField, points: Points, step: float = 1e-5) -> Float[np.ndarray, " n_points"]:
    """Return how far a field is from a gradient at points, equation (3), with Jacobians by central differences."""
    # given: the Jacobians, and their checks
    jacobian = jacobians(field, points, step)
    # yours
    result = []
    for j in jacobian:
        size = np.abs(j).max()
        j = j / size if size > 0 else j
        result.append(np.sqrt(((j - j.T) ** 2).sum() / (4 * (j**2).sum())) if size > 0 else 0.0)
    return np.array(result)


def grid_potential(field: Float[np.ndarray, "n *shape"], spacings: Sequence[float]) -> Float[np.ndarray, "*shape"]:
    """Return the potential of a gradient field on a grid along the grid lines, as at equation (4)."""
    # given: the checks
    field = _finite(field, "field", np.ndim(field))
    if field.ndim < 2 or len(field) != field.ndim - 1:
        raise ValueError(f"field must have as many components as the grid has axes, got the shape {field.shape}")
    if len(spacings) != len(field) or not all(0 < h < np.inf for h in spacings):
        raise ValueError(f"spacings must be {len(field)} positive numbers, one for each axis, got {spacings}")
    # yours
    shape = field.shape[1:]
    total = np.zeros(shape, dtype=field.dtype)
    for node in np.ndindex(shape):
        walked = [axis for axis, k in enumerate(node) if k > 0]
        if walked:
            axis = walked[-1]
            before = tuple(k - (i == axis) for i, k in enumerate(node))
            total[node] = total[before] + spacings[axis] * (field[(axis, *before)] + field[(axis, *node)]) / 2
    return total


def box_integral(f: Function, low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"], n_nodes: int = 20) -> float:
    """Return the integral of a function over a box, equation (5)."""
    # given: the checks
    low, high = _box(low, high)
    f, (t, w) = _checked(f, "f", vector=False), nodes(n_nodes)
    # yours
    n = len(low)
    grids = np.meshgrid(*[t] * n, indexing="ij")
    points = np.stack([grid.ravel() for grid in grids], axis=1) if n else np.zeros((1, 0))
    weights = np.prod(np.meshgrid(*[w] * n, indexing="ij"), axis=0).ravel() if n else np.ones(1)
    return float(np.prod(high - low) * (weights * f(low + points * (high - low))).sum())


def box_flux(
    field: VectorField, low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"], n_nodes: int = 20
) -> float:
    """Return what flows out of a box through all of its faces, equation (6)."""
    # given: the checks
    low, high = _box(low, high)
    if low.size == 0:
        raise ValueError("low must have an entry for each axis, got none")
    field = _checked(field, "field", vector=True)

    # yours
    def leaving(axis: int) -> Function:
        def difference(points: np.ndarray) -> np.ndarray:
            before, after = points[:, :axis], points[:, axis:]
            ends = [np.full((len(points), 1), corner[axis]) for corner in (low, high)]
            enters, leaves = (field(np.concatenate([before, end, after], axis=1))[:, axis] for end in ends)
            return leaves - enters

        return difference

    others = [[k for k in range(len(low)) if k != axis] for axis in range(len(low))]
    return sum(box_integral(leaving(axis), low[rest], high[rest], n_nodes) for axis, rest in enumerate(others))


def surface_flux(field: VectorField, surface: Surface, n_nodes: int = 30) -> float:
    r"""Return what flows through a surface, to the side of $r_u \times r_v$, equation (8)."""
    # given: the checks
    field, (t, w) = _checked(field, "field", vector=True), nodes(n_nodes)
    # yours
    total = 0.0
    for v, weight in zip(t, w, strict=True):
        along, across = surface.along_u(t, v + 0 * t), surface.along_v(t, v + 0 * t)
        through = np.linalg.det(np.stack([field(surface.point(t, v + 0 * t)), along, across], axis=1))
        total += weight * float(w @ through)
    return total


def boundary_circulation(field: VectorField, surface: Surface, n_nodes: int = 40) -> float:
    """Return the work of a field around the boundary of a surface, the left side of equation (9)."""
    # given: the check
    field = _checked(field, "field", vector=True)

    # yours
    def edge(u: Function, v: Function, way: int, tangent: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        curve = Curve(lambda t: surface.point(u(t), v(t)), lambda t: way * tangent(u(t), v(t)))
        return line_integral(field, curve, n_nodes)

    zero, one, forth, back = np.zeros_like, np.ones_like, np.copy, lambda t: 1 - t
    return (
        edge(forth, zero, 1, surface.along_u)
        + edge(one, forth, 1, surface.along_v)
        + edge(back, one, -1, surface.along_u)
        + edge(zero, back, -1, surface.along_v)
    )
