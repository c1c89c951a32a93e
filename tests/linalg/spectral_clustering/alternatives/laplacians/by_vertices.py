"""Vertex by vertex and part by part, in dense matrices, and the generalised eigenproblem as it stands."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.sparse import coo_array, csc_array, csr_array, diags_array, issparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu

from mlpath.linalg._shared import real_array, square_matrix

Matrix = Float[np.ndarray, "n_vertices n_vertices"]
Graph = Matrix | csr_array
Vector = Float[np.ndarray, " n_vertices"]
Kind = Literal["unnormalised", "symmetric", "random_walk"]


def _weights(graph: Any) -> Any:  # given: argument checks
    """Return the weights of a graph in floats: an array, or a csr_array if it is sparse."""
    if issparse(graph):
        w = csr_array(graph)
        shape = w.shape or ()
        if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
            raise ValueError(f"graph must be a square matrix, got the shape {shape}")
        w = w if w.dtype.kind == "f" else w.astype(np.float64)
        values, loops, gap = w.data, w.diagonal(), np.abs((w - w.T).data).max(initial=0)
    else:
        w = values = square_matrix(graph, "graph")
        loops, gap = np.diagonal(w), np.abs(w - w.T).max()
    if not np.isfinite(values).all() or values.min(initial=0) < 0:
        raise ValueError("graph must have weights that are finite and not negative")
    if loops.any():
        raise ValueError(f"graph must have no edge from a vertex to itself, got {loops} on its diagonal")
    if gap > 100 * np.finfo(w.dtype).eps * values.max(initial=0):
        raise ValueError(f"graph must be symmetric, got weights that differ by {gap:.3g} across the diagonal")
    return w


def _vector(f: ArrayLike, graph: Any, name: str) -> np.ndarray:  # given: argument checks
    """Return a vector with an entry for each vertex."""
    f = real_array(f, name, ndim=1)
    if len(f) != graph.shape[0]:
        raise ValueError(f"{name} must have an entry for each of the {graph.shape[0]} vertices, got {len(f)}")
    return f


def _solve(matrix: Any, k: int) -> tuple[np.ndarray, np.ndarray]:  # given: the eigenproblem
    """Return the `k` smallest eigenvalues, rising, and orthonormal eigenvectors of a symmetric matrix without negative eigenvalues."""
    n = matrix.shape[0]
    if not issparse(matrix) or n <= max(64, 4 * k):
        dense = matrix.toarray() if issparse(matrix) else matrix
        return eigh(dense, subset_by_index=(0, k - 1))
    shift = 1e-4 * (abs(matrix).sum(axis=1).max() or 1.0)  # of a bound on the largest eigenvalue
    shifted = csc_array(matrix + diags_array(np.full(n, shift)), dtype=np.float64)
    factors = splu(shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
    found, start = np.zeros((n, 0)), np.random.default_rng(0).normal(size=n)

    def inverse(x: np.ndarray) -> np.ndarray:
        """The inverse, on what is orthogonal to the vectors found."""
        y = factors.solve((x - found @ (found.T @ x)).ravel())
        return y - found @ (found.T @ y)

    def largest(count: int, tol: Any = 0) -> Any:
        operator = LinearOperator((n, n), inverse, dtype=np.float64)  # pyright: ignore[reportCallIssue]
        return eigsh(operator, count, which="LA", v0=start, tol=tol)

    try:
        large, found = largest(k)
        while largest(1, tol=1e-6)[0][0] > large.min() * (1 + 1e-4):  # it has missed copies of a repeated eigenvalue
            (value,), vector = largest(1)
            last = large.argmin()
            large[last], found[:, last] = value, vector[:, 0]
    except ArpackNoConvergence as error:
        raise np.linalg.LinAlgError(f"the eigenvectors did not converge: {error}") from None
    order = np.argsort(-large)
    return (1 / large[order] - shift).astype(matrix.dtype), found[:, order].astype(matrix.dtype)


def _entries(w: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # given: the entries that are not 0
    """Return rows, columns and weights of all entries that are not 0: each edge comes twice, once from each end."""
    entries = coo_array(w)
    i, j = entries.coords
    return i, j, entries.data


def _dense(w: Any) -> np.ndarray:
    return w.toarray() if issparse(w) else w.copy()


def degrees(graph: Graph) -> Vector:
    """Return the degrees of the vertices, equation (1)."""
    # given: the check
    w = _weights(graph)
    # yours
    if issparse(w):
        return np.asarray(w @ np.ones(w.shape[0], dtype=w.dtype))
    return np.einsum("ij->i", w)


def unnormalised_laplacian(graph: Graph) -> Graph:
    """Return the unnormalised Laplacian, equation (2)."""
    # given: the check; diags_array(d) is the diagonal matrix of d, and its sums and products with both kinds keep the kind
    w = _weights(graph)
    # yours
    dense = -_dense(w)
    for i, d in enumerate(degrees(w)):
        dense[i, i] = d
    return csr_array(dense) if issparse(w) else dense


def symmetric_laplacian(graph: Graph) -> Graph:
    """Return the symmetrically normalised Laplacian, equation (3)."""
    # given: the check; diags_array(d) is the diagonal matrix of d, and its sums and products with both kinds keep the kind
    w = _weights(graph)
    # yours
    d = degrees(w)
    roots = np.sqrt(d)
    weights = _dense(w)
    laplacian = np.diag((d > 0).astype(w.dtype))
    for i in range(len(d)):
        for j in np.flatnonzero(weights[i]):
            laplacian[i, j] = -weights[i, j] / roots[i] / roots[j]
    return csr_array(laplacian) if issparse(w) else laplacian


def random_walk_laplacian(graph: Graph) -> Graph:
    """Return the Laplacian of the random walk, equation (4)."""
    # given: the check; diags_array(d) is the diagonal matrix of d, and its sums and products with both kinds keep the kind
    w = _weights(graph)
    # yours
    d = degrees(w)
    weights = _dense(w)
    laplacian = np.diag((d > 0).astype(w.dtype))
    laplacian[d > 0] -= weights[d > 0] / d[d > 0][:, None]
    return csr_array(laplacian) if issparse(w) else laplacian


def quadratic_form(graph: Graph, f: Vector) -> float:
    """Return how much a vector varies along the edges, equation (5), by its right side."""
    # given: the checks, and all entries that are not 0, each edge from both ends
    w = _weights(graph)
    f = _vector(f, w, "f")
    i, j, weights = _entries(w)
    # yours
    total = 0.0
    for a, b, weight in zip(i.tolist(), j.tolist(), weights.tolist(), strict=True):
        if a < b:
            total += weight * float(f[a] - f[b]) ** 2
    return total


def smallest_eigenpairs(
    graph: Graph, k: int, kind: Kind = "symmetric"
) -> tuple[Float[np.ndarray, " {k}"], Float[np.ndarray, "n_vertices {k}"]]:
    r"""Return the smallest eigenvalues of a Laplacian, and eigenvectors: those of the random walk by equation (6)."""
    # given: the checks; _solve(matrix, k) finds the smallest eigenpairs of a symmetric matrix
    w = _weights(graph)
    if k != int(k) or not 1 <= k <= w.shape[0]:
        raise ValueError(f"k must be a whole number from 1 to the {w.shape[0]} vertices, got {k}")
    if kind not in ("unnormalised", "symmetric", "random_walk"):
        raise ValueError(f'kind must be "unnormalised", "symmetric" or "random_walk", got {kind!r}')
    # yours
    if kind != "random_walk":
        laplacian = symmetric_laplacian(w) if kind == "symmetric" else unnormalised_laplacian(w)
        values, vectors = np.linalg.eigh(_dense(laplacian))
    else:
        d = degrees(w)
        masses = np.diag(np.where(d == 0, np.ones_like(d), d))
        values, vectors = eigh(_dense(unnormalised_laplacian(w)), masses)
    return np.clip(values[:k], 0, None), vectors[:, :k]


@dataclass(frozen=True)
class Cut:
    """What it costs to split a graph into parts, equation (7)."""

    cut: float
    """The weight of all edges between parts."""
    ratio: float
    """RatioCut: for each part what leaves it, over its number of vertices."""
    normalised: float
    """Ncut: for each part what leaves it, over its volume."""


def cut_values(graph: Graph, labels: Int[np.ndarray, " n_vertices"]) -> Cut:
    """Return the cut, the ratio cut and the normalised cut of a partition, equation (7)."""
    # given: the checks; parts has the labels 0, 1, 2, ..., and all entries that are not 0 come from both ends
    w = _weights(graph)
    labels = np.asarray(labels)
    if labels.shape != (w.shape[0],) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be a whole number for each of the {w.shape[0]} vertices, got {labels}")
    parts = np.unique(labels, return_inverse=True)[1]
    # yours
    weights, d = _dense(w).astype(float), degrees(w)
    cut = ratio = normalised = 0.0
    for part in range(parts.max() + 1):
        inside = parts == part
        leaving = weights[inside][:, ~inside].sum()
        cut += leaving / 2
        ratio += leaving / inside.sum()
        normalised += leaving / d[inside].sum() if leaving > 0 else 0.0
    return Cut(float(cut), float(ratio), float(normalised))


def sweep_cut(graph: Graph, f: Vector) -> tuple[Bool[np.ndarray, " n_vertices"], float]:
    """Return the set of least conductance among those that begin the order of a vector, equation (8)."""
    # given: the checks, and all entries that are not 0, each edge from both ends
    w = _weights(graph)
    f = _vector(f, w, "f")
    if not degrees(w).any():
        raise ValueError("graph must have an edge, got none")
    # yours
    weights, d = _dense(w), degrees(w)
    order = sorted(range(len(f)), key=lambda i: (f[i], i))
    inside = np.zeros(len(f), dtype=bool)
    best, members = np.inf, inside
    for i in order[:-1]:
        inside[i] = True
        smaller = min(d[inside].sum(), d[~inside].sum())
        if smaller > 0:
            conductance = weights[inside][:, ~inside].sum() / smaller
            if conductance < best:
                best, members = conductance, inside.copy()
    return members, float(best)
