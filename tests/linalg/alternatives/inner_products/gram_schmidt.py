"""Inner products without other coordinates: Gram-Schmidt under the weight, and its own elimination in place of eigenvalues.

Only `weight_root` itself makes a root, the symmetric one of the scaled weight. Lengths of huge vectors are saved by powers
of two.
"""

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, symmetric_matrix


def _vector(values, name, dim=None):
    vector = real_array(values, name, ndim=1)
    if dim is not None and len(vector) != dim:
        raise ValueError(f"{name} must have {dim} entries, got {len(vector)}")
    return vector


def _weight(weight, dim):
    if weight is None:
        return None
    matrix = symmetric_matrix(weight, "weight")
    if len(matrix) != dim:
        raise ValueError(f"weight must have the shape ({dim}, {dim}), got {matrix.shape}")
    return matrix


def _definite(weight, dim):
    """Return the weight divided by the lengths of the axes, and those lengths."""
    if weight is None:
        return None, np.ones(dim)
    if not is_inner_product(weight):
        raise ValueError(f"weight must be symmetric and positive definite, got {weight}")
    lengths = np.sqrt(np.diag(weight))
    return weight / lengths / lengths[:, None], lengths


def _unit(x):
    """Return x times a power of two that brings it near 1, and the logarithm of that power."""
    exponent = int(np.frexp(np.abs(x).max())[1])
    return np.ldexp(x, -exponent), exponent


def _dot(x, y, cosines):
    return x @ y if cosines is None else x @ (cosines @ y)


def inner_product(
    x: Float[np.ndarray, " dim"], y: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> float:
    """Equation (1), row by row."""
    x = _vector(x, "x")
    y = _vector(y, "y", len(x))
    weight = _weight(weight, len(x))
    if weight is None:
        return float(np.sum(x * y))
    return float(sum(entry * np.sum(row * y) for entry, row in zip(x, weight)))


def gram_matrix(
    vectors: Float[np.ndarray, "n_vectors dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> Float[np.ndarray, "n_vectors n_vectors"]:
    """Equation (6), one pair at a time."""
    vectors = real_array(vectors, "vectors", ndim=2)
    weight = _weight(weight, vectors.shape[1])
    gram = np.empty((len(vectors), len(vectors)), vectors.dtype)
    for i, x in enumerate(vectors):
        for j, y in enumerate(vectors[: i + 1]):
            gram[i, j] = gram[j, i] = inner_product(x, y, weight)
    return gram


def is_inner_product(matrix: Float[np.ndarray, "n_rows n_cols"]) -> bool:
    """Symmetric elimination: its pivots are what is left of each axis, and none may be mere rounding of the axis."""
    matrix = real_array(matrix, "matrix", ndim=2)
    n, eps = len(matrix), np.finfo(matrix.dtype).eps
    if matrix.shape != (n, n) or (np.diag(matrix) <= 0).any():
        return False
    lengths = np.sqrt(np.diag(matrix))
    with np.errstate(over="ignore"):
        left = matrix / lengths / lengths[:, None]
    # By (3), no inner product of two axes exceeds the product of their lengths.
    if np.abs(left).max() > 2 or np.abs(left - left.T).max() > 100 * eps:
        return False
    for k in range(n):
        # The largest pivot first, which keeps a rounding from growing.
        best = k + int(np.diag(left)[k:].argmax())
        left[[k, best]] = left[[best, k]]
        left[:, [k, best]] = left[:, [best, k]]
        if left[k, k] <= 10 * n * eps:
            return False
        left[k + 1 :, k + 1 :] -= np.outer(left[k + 1 :, k], left[k, k + 1 :]) / left[k, k]
    return True


def weight_root(weight: Float[np.ndarray, "dim dim"]) -> Float[np.ndarray, "dim dim"]:
    """The symmetric root of the scaled weight, and the scales put back."""
    weight = real_array(weight, "weight", ndim=2)
    cosines, lengths = _definite(weight, len(weight))
    values, vectors = np.linalg.eigh(cosines)
    return (vectors * np.sqrt(values)) @ vectors.T * lengths


def weighted_norm(x: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None) -> float:
    """The root of (1), of the vector in the units that give all axes the length 1."""
    x = _vector(x, "x")
    cosines, lengths = _definite(_weight(weight, len(x)), len(x))
    x, exponent = _unit(x * lengths)
    return float(np.ldexp(np.sqrt(max(float(_dot(x, x, cosines)), 0.0)), exponent))


def angle(
    x: Float[np.ndarray, " dim"], y: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> float:
    """From the part of the unit vector v along u and the part across it, whose lengths are cosine and sine."""
    x = _vector(x, "x")
    y = _vector(y, "y", len(x))
    weight = _weight(weight, len(x))
    for name, vector in (("x", x), ("y", y)):
        if not vector.any():
            raise ValueError(f"{name} must not be zero, got {vector}")
    cosines, lengths = _definite(weight, len(x))
    u, v = (
        vector / np.sqrt(_dot(vector, vector, cosines)) for vector in (_unit(x * lengths)[0], _unit(y * lengths)[0])
    )
    cosine = _dot(u, v, cosines)
    # Twice is enough: what the first subtraction left along u, the second takes away.
    across = v - cosine * u
    across = across - _dot(u, across, cosines) * u
    largest = float(np.abs(across).max())
    sine = 0.0 if largest == 0 else largest * np.sqrt(_dot(across / largest, across / largest, cosines))
    return float(np.arctan2(sine, cosine))


def orthogonal_projection(
    x: Float[np.ndarray, " dim"],
    spanning: Float[np.ndarray, "n_vectors dim"],
    weight: Float[np.ndarray, "dim dim"] | None = None,
) -> Float[np.ndarray, " dim"]:
    """Gram-Schmidt under the weight, each vector twice, the one with the most left first, and x projected on each."""
    x = _vector(x, "x")
    spanning = real_array(spanning, "spanning", ndim=2)
    if spanning.shape[1] != len(x):
        raise ValueError(f"spanning must have {len(x)} columns, got the shape {spanning.shape}")
    cosines, lengths = _definite(_weight(weight, len(x)), len(x))
    lengths = lengths.astype(x.dtype)
    left = [_unit(row * lengths)[0] for row in spanning if row.any()]
    left = [row / np.sqrt(_dot(row, row, cosines)) for row in left]
    x = x * lengths
    projection = np.zeros_like(x)
    while left:
        sizes = [max(float(_dot(row, row, cosines)), 0.0) ** 0.5 for row in left]
        best = int(np.argmax(sizes))
        if sizes[best] <= 10 * max(spanning.shape) * np.finfo(x.dtype).eps:
            break
        axis = left.pop(best) / sizes[best]
        axis = axis / np.sqrt(_dot(axis, axis, cosines))
        projection = projection + _dot(axis, x, cosines) * axis
        for _ in range(2):
            left = [row - _dot(axis, row, cosines) * axis for row in left]
    return projection / lengths
