"""Pair by pair, sorted rows, and components by union and find."""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from mlpath.linalg._shared import real_array, square_matrix

Samples = Float[np.ndarray, "n_samples n_features"]
Pairs = Float[np.ndarray, "n_samples n_samples"]


def _distances(squared: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return squared distances: symmetric, nowhere negative, 0 on the diagonal."""
    squared = square_matrix(squared, "squared")
    if (squared != squared.T).any():
        raise ValueError(
            f"squared must be symmetric, got entries that differ by {np.abs(squared - squared.T).max():.3g}"
        )
    if squared.min() < 0:
        raise ValueError(f"squared must not be negative, got {squared.min()}")
    if np.diagonal(squared).any():
        raise ValueError(f"squared must be 0 on the diagonal, got {np.abs(np.diagonal(squared)).max()}")
    return squared


def _positive(value: float, name: str) -> None:  # given: argument checks
    """Refuse what is not a positive, finite number."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")


def _neighbours(k: int, n: int) -> int:  # given: argument checks
    """Refuse numbers of neighbours that a set of n samples does not have."""
    if k != int(k) or not 1 <= k < n:
        raise ValueError(f"k must be a whole number from 1 to {n - 1}, one less than there are samples, got {k}")
    return int(k)


def _edges(graph: np.ndarray | csr_array) -> csr_array:  # given: argument checks
    """Return a graph as a sparse array that stores its edges only."""
    edges = csr_array(graph)
    shape = edges.shape or ()
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise ValueError(f"graph must be a square matrix, got the shape {shape}")
    if not np.isfinite(edges.data).all():
        raise ValueError("graph must be finite, got NaN or infinity among its weights")
    edges = csr_array(edges != 0)
    if (edges != edges.T).nnz:
        raise ValueError("graph must be symmetric, got edges that go one way only")
    return edges


def _ones(rows: np.ndarray, columns: np.ndarray, squared: np.ndarray) -> csr_array:
    return csr_array((np.ones(len(rows), dtype=squared.dtype), (rows, columns)), shape=squared.shape)


def _asks(squared: np.ndarray, k: int) -> np.ndarray:
    asks = np.zeros(squared.shape, dtype=bool)
    for i, row in enumerate(squared):
        others = np.where(np.arange(len(row)) == i, np.inf, row)
        asks[i] = others <= np.sort(others)[k - 1]
    return asks


def squared_distances(x: Samples) -> Pairs:
    """Return the squared distances of all pairs of samples, equation (1)."""
    # given: the check
    x = real_array(x, "x", ndim=2)
    # yours
    return ((x[:, None] - x) ** 2).sum(axis=-1)


def gaussian_graph(squared: Pairs, scale: float) -> Pairs:
    r"""Return the full graph, equation (2)."""
    # given: the checks
    squared = _distances(squared)
    _positive(scale, "scale")
    # yours
    n = len(squared)
    weights = np.zeros_like(squared)
    for i in range(n):
        for j in range(i):
            weights[i, j] = weights[j, i] = np.exp(-0.5 * (np.sqrt(squared[i, j]) / scale) ** 2)
    return weights


def epsilon_graph(squared: Pairs, radius: float) -> csr_array:
    r"""Return the graph of those at most a radius apart, equation (3)."""
    # given: the checks
    squared = _distances(squared)
    _positive(radius, "radius")
    # yours
    rows, columns = np.nonzero(np.sqrt(squared) <= radius)
    other = rows != columns
    return _ones(rows[other], columns[other], squared)


def squared_reaches(squared: Pairs, k: int) -> Float[np.ndarray, " n_samples"]:
    """Return for each sample its squared distance to the k-th nearest of the other samples."""
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    return np.array([np.sort(np.delete(row, i))[k - 1] for i, row in enumerate(squared)])


def knn_graph(squared: Pairs, k: int) -> csr_array:
    """Return the graph of nearest neighbours, where one side is enough, equation (4)."""
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    rows, columns = np.nonzero(_asks(squared, k))
    graph = _ones(rows, columns, squared)
    return graph.maximum(graph.T)


def mutual_knn_graph(squared: Pairs, k: int) -> csr_array:
    """Return the graph of nearest neighbours, where both sides must agree, equation (5)."""
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    asks = _asks(squared, k)
    return _ones(*np.nonzero(asks & asks.T), squared)


def self_tuning_graph(squared: Pairs, k: int = 7) -> Pairs:
    r"""Return the full graph with a scale for each sample, equation (6)."""
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    scales = np.sqrt(squared_reaches(squared, k))
    weights = np.zeros_like(squared)
    for i in range(len(squared)):
        for j in range(i):
            if scales[i] * scales[j] > 0:
                weights[i, j] = np.exp(-squared[i, j] / (scales[i] * scales[j]))
            else:
                weights[i, j] = squared[i, j] == 0
    return weights + weights.T


def connected_components(graph: Pairs | csr_array) -> Int[np.ndarray, " n_samples"]:
    """Return the connected component of each vertex."""
    # given: the checks; the neighbours of vertex i are edges.indices[edges.indptr[i] : edges.indptr[i + 1]]
    edges = _edges(graph)
    n = len(edges.indptr) - 1
    # yours
    parents = list(range(n))

    def root(i: int) -> int:
        while parents[i] != i:
            parents[i] = parents[parents[i]]
            i = parents[i]
        return i

    rows, columns = edges.nonzero()
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        a, b = sorted((root(i), root(j)))
        parents[b] = a
    return np.unique([root(i) for i in range(n)], return_inverse=True)[1]
