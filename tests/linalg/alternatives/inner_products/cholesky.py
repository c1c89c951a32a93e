"""Inner products by Cholesky's factorisation throughout, and projections by QR with the columns of most left first."""

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, symmetric_matrix
from mlpath.linalg.norms import l2_norm


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


def _euclidean(vectors, weight):
    """Return the vectors, one a row, in coordinates in which the inner product is the dot product."""
    return vectors if weight is None else vectors @ weight_root(weight).T


def inner_product(
    x: Float[np.ndarray, " dim"], y: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> float:
    """Equation (1)."""
    x = _vector(x, "x")
    y = _vector(y, "y", len(x))
    weight = _weight(weight, len(x))
    return float(np.dot(x, y if weight is None else weight.dot(y)))


def gram_matrix(
    vectors: Float[np.ndarray, "n_vectors dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> Float[np.ndarray, "n_vectors n_vectors"]:
    """Equation (6) by one einsum."""
    vectors = real_array(vectors, "vectors", ndim=2)
    weight = _weight(weight, vectors.shape[1])
    if weight is None:
        return np.einsum("ia,ja->ij", vectors, vectors)
    return np.einsum("ia,ab,jb->ij", vectors, weight, vectors, optimize=True)


def is_inner_product(matrix: Float[np.ndarray, "n_rows n_cols"]) -> bool:
    """The squares on the diagonal of the factor are what is left of each axis; Cholesky does not mind the units."""
    matrix = real_array(matrix, "matrix", ndim=2)
    eps = np.finfo(matrix.dtype).eps
    if matrix.shape[0] != matrix.shape[1] or not (np.diag(matrix) > 0).all():
        return False
    lengths = np.sqrt(np.diag(matrix))
    if not (np.abs(matrix - matrix.T) / lengths / lengths[:, None] <= 100 * eps).all():
        return False
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return bool(((np.diag(factor) / lengths) ** 2 > 10 * len(matrix) * eps).all())


def weight_root(weight: Float[np.ndarray, "dim dim"]) -> Float[np.ndarray, "dim dim"]:
    """Cholesky's factor, some of its rows with the other sign, which makes another root."""
    weight = real_array(weight, "weight", ndim=2)
    if not is_inner_product(weight):
        raise ValueError(f"weight must be symmetric and positive definite, got {weight}")
    root = np.linalg.cholesky(weight).T.copy()
    root[::2] *= -1
    return root[::-1]


def weighted_norm(x: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None) -> float:
    """The length of W x."""
    x = _vector(x, "x")
    return l2_norm(_euclidean(x[None], _weight(weight, len(x)))[0])


def angle(
    x: Float[np.ndarray, " dim"], y: Float[np.ndarray, " dim"], weight: Float[np.ndarray, "dim dim"] | None = None
) -> float:
    """Kahan's formula with one arc tangent of a quotient, or its complement."""
    x = _vector(x, "x")
    y = _vector(y, "y", len(x))
    weight = _weight(weight, len(x))
    for name, vector in (("x", x), ("y", y)):
        if not vector.any():
            raise ValueError(f"{name} must not be zero, got {vector}")
    u, v = (row / l2_norm(row) for row in _euclidean(np.stack([x / np.abs(x).max(), y / np.abs(y).max()]), weight))
    apart, together = l2_norm(u - v), l2_norm(u + v)
    if apart > together:
        return float(np.pi - 2 * np.arctan(together / apart))
    return float(2 * np.arctan(apart / together))


def orthogonal_projection(
    x: Float[np.ndarray, " dim"],
    spanning: Float[np.ndarray, "n_vectors dim"],
    weight: Float[np.ndarray, "dim dim"] | None = None,
) -> Float[np.ndarray, " dim"]:
    """Least squares by the singular values for the coefficients of normalised vectors, then their combination."""
    x = _vector(x, "x")
    spanning = real_array(spanning, "spanning", ndim=2)
    if spanning.shape[1] != len(x):
        raise ValueError(f"spanning must have {len(x)} columns, got the shape {spanning.shape}")
    weight = _weight(weight, len(x))
    rows, target = _euclidean(spanning, weight), _euclidean(x[None], weight)[0]
    sizes = np.array([l2_norm(row) for row in rows], rows.dtype)
    kept = sizes > 0
    if not kept.any():
        return np.zeros_like(target)
    rows, spanning = rows[kept] / sizes[kept, None], spanning[kept] / sizes[kept, None]
    size = max(float(np.abs(target).max()), np.finfo(target.dtype).tiny)
    cut = max(rows.shape) * np.finfo(rows.dtype).eps  # NumPy's own would be that of a float64
    coefficients = np.linalg.lstsq(rows.T, target / size, rcond=cut)[0]
    return (coefficients @ spanning) * np.asarray(size, spanning.dtype)
