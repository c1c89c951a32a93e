"""Projections by Gram-Schmidt with the column of most left first, twice each, and without any singular value for a basis.

Angles come from the eigenvalues of what cosines and sines make, the oblique projector from the complement's basis, and the
coefficients from back substitution.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array
from mlpath.linalg.norms import l2_norm


@dataclass(frozen=True)
class LeastSquaresFit:
    """Coefficients, fitted values, residual, rank."""

    coefficients: Float[np.ndarray, " n_cols"]
    fitted: Float[np.ndarray, " n_rows"]
    residual: Float[np.ndarray, " n_rows"]
    rank: int


def _vector(values, name, n_rows):
    vector = real_array(values, name, ndim=1)
    if len(vector) != n_rows:
        raise ValueError(f"{name} must have {n_rows} entries, got {len(vector)}")
    return vector


def _pivoted(a):
    """Return q, the indices of the columns it was made of, and the scales of all columns."""
    scales = np.where(a.any(axis=0), np.abs(a).max(axis=0), 1).astype(a.dtype)
    left = a / scales
    q, chosen = np.zeros((len(a), 0), a.dtype), []
    while len(chosen) < min(a.shape):
        sizes = np.sqrt((left**2).sum(axis=0))
        best = int(sizes.argmax())
        if sizes[best] <= a.size * np.finfo(a.dtype).eps:
            break
        axis = left[:, best] / sizes[best]
        for _ in range(2):
            axis = axis - q @ (q.T @ axis)
            axis = axis / np.sqrt(axis @ axis)
        left = left - np.outer(axis, axis @ left)
        left[:, best] = 0
        q = np.column_stack([q, axis])
        chosen.append(best)
    return q, chosen, scales


def orthonormal_basis(a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, "n_rows rank"]:
    """What Gram-Schmidt leaves."""
    return _pivoted(real_array(a, "a", ndim=2))[0]


def project(x: Float[np.ndarray, " n_rows"], a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, " n_rows"]:
    """One basis vector at a time."""
    a = real_array(a, "a", ndim=2)
    x = _vector(x, "x", len(a))
    shadow = np.zeros_like(x)
    for axis in orthonormal_basis(a).T:
        shadow = shadow + (axis @ x) * axis
    return shadow


def projector(a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, "n_rows n_rows"]:
    """The sum of the projectors onto the basis vectors."""
    a = real_array(a, "a", ndim=2)
    p = np.zeros((len(a), len(a)), a.dtype)
    for axis in orthonormal_basis(a).T:
        p = p + np.outer(axis, axis)
    return p


def distance_to_subspace(
    x: Float[np.ndarray, " n_rows"],
    a: Float[np.ndarray, "n_rows n_cols"],
    origin: Float[np.ndarray, " n_rows"] | None = None,
) -> float:
    """The length of what is left after the basis vectors have been taken out, one by one."""
    a = real_array(a, "a", ndim=2)
    left = _vector(x, "x", len(a))
    if origin is not None:
        left = left - _vector(origin, "origin", len(a))
    for axis in orthonormal_basis(a).T:
        left = left - (axis @ left) * axis
    return l2_norm(left)


def reflect(x: Float[np.ndarray, " n_rows"], a: Float[np.ndarray, "n_rows n_cols"]) -> Float[np.ndarray, " n_rows"]:
    """The part in the mirror less the part across it."""
    a = real_array(a, "a", ndim=2)
    x = _vector(x, "x", len(a))
    inside = project(x, a)
    return inside - (x - inside)


def smallest_angle(a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, "n_rows n_others"]) -> float:
    """From the pair of unit vectors that come closest: half of the angle, by the lengths of difference and sum."""
    a = real_array(a, "a", ndim=2)
    b = real_array(b, "b", ndim=2)
    if len(b) != len(a):
        raise ValueError(f"b must have {len(a)} rows, got the shape {b.shape}")
    for name, matrix in (("a", a), ("b", b)):
        if not matrix.any():
            raise ValueError(f"{name} must not be zero, got {matrix}")
    q, z = orthonormal_basis(a), orthonormal_basis(b)
    left, _, right = np.linalg.svd(q.T @ z)
    # Where cosines agree to all digits, the vectors of the closest pair need not be found by them: refine by the sines.
    across = np.linalg.svd(z - q @ (q.T @ z), full_matrices=False)
    near = z @ across[2][-1]
    foot = q @ (q.T @ near)
    if foot @ foot < 0.5:
        near, foot = z @ right[0], q @ left[:, 0]
        return float(np.arctan2(np.sqrt(((near - q @ (q.T @ near)) ** 2).sum()), abs(near @ foot)))
    foot = foot / np.sqrt(foot @ foot)
    return float(2 * np.arctan2(np.sqrt(((near - foot) ** 2).sum()), np.sqrt(((near + foot) ** 2).sum())))


def oblique_projector(
    onto: Float[np.ndarray, "n_rows n_onto"], along: Float[np.ndarray, "n_rows n_along"]
) -> Float[np.ndarray, "n_rows n_rows"]:
    """Q (N'Q)^-1 N', where the columns of N are an orthonormal basis of what is orthogonal to `along`."""
    onto = real_array(onto, "onto", ndim=2)
    along = real_array(along, "along", ndim=2)
    n_rows = len(onto)
    if len(along) != n_rows:
        raise ValueError(f"along must have {n_rows} rows, got the shape {along.shape}")
    q, z = orthonormal_basis(onto), orthonormal_basis(along)
    n = np.linalg.qr(z, mode="complete")[0][:, z.shape[1] :] if z.shape[1] else np.eye(n_rows, dtype=q.dtype)
    cosines = n.T @ q
    square = cosines.shape[0] == cosines.shape[1]
    if not square or (
        len(cosines) and np.linalg.svd(cosines, compute_uv=False)[-1] <= n_rows**2 * np.finfo(q.dtype).eps
    ):
        raise ValueError(
            f"onto and along must be complementary, got spans of {q.shape[1]} and {z.shape[1]} in {n_rows}"
        )
    return q @ np.linalg.solve(cosines, n.T)


def least_squares_fit(a: Float[np.ndarray, "n_rows n_cols"], b: Float[np.ndarray, " n_rows"]) -> LeastSquaresFit:
    """Only the columns that Gram-Schmidt chose get a coefficient."""
    a = real_array(a, "a", ndim=2)
    b = _vector(b, "b", len(a))
    q, chosen, scales = _pivoted(a)
    coordinates = q.T @ b
    fitted = q @ coordinates
    coefficients = np.zeros(a.shape[1], fitted.dtype)
    if chosen:
        triangle = np.triu(q.T @ (a[:, chosen] / scales[chosen]))
        coefficients[chosen] = np.linalg.solve(triangle, coordinates) / scales[chosen]
    return LeastSquaresFit(coefficients, fitted, b - fitted, len(chosen))
