"""Dictionaries, recursion, Lanczos by hand, and products kept up to date."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator

from mlpath.linalg._shared import real_array, symmetric_matrix

Labels = Int[np.ndarray, " n"]

# A gain of modularity, which is at most 1, that is smaller is taken for rounding.
NO_GAIN = 1e-12
# Matrices up to this size are made and given to LAPACK: for them that is faster, and sure.
SMALL = 60
# A few passes or rounds are enough. With a wrong gain there might be no end.
AT_MOST = 50


@dataclass(frozen=True)
class Graph:  # given
    """A graph, or a part of one."""

    adjacency: Any
    degrees: Float[np.ndarray, " _"]
    inside: Float[np.ndarray, " _"]
    total: float


def as_graph(adjacency: Any) -> Graph:  # given
    """Return the graph of a matrix of weights."""
    if isinstance(adjacency, Graph):
        return adjacency
    if not hasattr(adjacency, "tocsr"):
        a: Any = csr_array(symmetric_matrix(adjacency, "adjacency"), dtype=np.float64)
    else:
        a = csr_array(adjacency)
        if a.shape[0] != a.shape[1] or a.shape[0] == 0:
            raise ValueError(f"adjacency must be square, and not empty, got the shape {a.shape}")
        if a.nnz:
            real_array(a.data, "adjacency", ndim=1)
        a = csr_array(a, dtype=np.float64)
        a.sum_duplicates()
        gap = abs(a - a.T).max()
        if gap > 1e-12 * abs(a).max():
            raise ValueError(f"adjacency must be symmetric, got entries that differ by {gap:.3g} across the diagonal")
    if a.nnz and a.data.min() < 0:
        raise ValueError(f"adjacency must not be negative, got {a.data.min()}")
    degrees = a.sum(axis=1)
    if not 0 < degrees.sum() < np.inf:
        raise ValueError(f"adjacency must have a positive, finite sum, got {degrees.sum()}")
    return Graph(a, degrees, degrees, float(degrees.sum()))


def part(graph: Graph, members: Int[np.ndarray, " n_members"]) -> Graph:  # given
    """Return a part of a graph, with the degrees and the total of the whole."""
    block = graph.adjacency[members][:, members]
    return Graph(block, graph.degrees[members], block.sum(axis=1), graph.total)


def _resolution(resolution: float) -> float:  # given: argument checks
    if not 0 < resolution < np.inf:
        raise ValueError(f"resolution must be positive and finite, got {resolution}")
    return resolution


def _labels(labels: Any, n: int) -> np.ndarray:  # given: argument checks
    """Return communities, one for each vertex, numbered from 0 without gaps."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {n} whole numbers, got {labels.dtype} of the shape {labels.shape}")
    return np.unique(labels, return_inverse=True)[1]


def _signs(signs: Any, n: int) -> np.ndarray:  # given: argument checks
    """Return signs, one for each vertex, as floats."""
    signs = np.array(signs, dtype=np.float64)
    if signs.shape != (n,) or not (abs(signs) == 1).all():
        raise ValueError(f"signs must be {n} numbers that are 1 or -1, got {signs}")
    return signs


def _diagonal(graph: Graph, resolution: float) -> np.ndarray:  # given: the diagonal of (3)
    """Return the entries on the diagonal of the modularity matrix of a graph, or of a part of one."""
    k = graph.degrees
    r = graph.inside - resolution * k * (k.sum() / graph.total)
    return graph.adjacency.diagonal() - resolution * k * (k / graph.total) - r


def _neighbours(graph: Graph, vertex: int) -> tuple[np.ndarray, np.ndarray]:  # given: a row of the sparse matrix
    """Return the neighbours of a vertex, other than itself, and the weights of the edges to them."""
    start, end = graph.adjacency.indptr[vertex : vertex + 2]
    neighbours, weights = graph.adjacency.indices[start:end], graph.adjacency.data[start:end]
    others = neighbours != vertex
    return neighbours[others], weights[others]


def _operator(n: int, product: Callable[[np.ndarray], np.ndarray]) -> Any:  # given: what `eigsh` takes for a matrix
    """Return a symmetric operator of size `n` that is known by its products with vectors."""
    operator: Any = LinearOperator
    return operator((n, n), matvec=lambda x: product(np.ravel(x)), dtype=np.float64)


def modularity(adjacency: Any, labels: Labels, *, resolution: float = 1.0) -> float:
    """Return the modularity of a division into communities, equation (2)."""
    graph = as_graph(adjacency)
    labels = _labels(labels, len(graph.degrees))
    _resolution(resolution)
    q = 0.0
    for c in range(labels.max() + 1):
        members = np.flatnonzero(labels == c)
        q += graph.adjacency[members][:, members].sum() / graph.total
        q -= resolution * (graph.degrees[members].sum() / graph.total) ** 2
    return float(q)


def modularity_product(
    adjacency: Any, x: Float[np.ndarray, " n"], *, resolution: float = 1.0
) -> Float[np.ndarray, " n"]:
    """Return the product of the modularity matrix of a graph, or of a part of one, with a vector, equation (4)."""
    graph = as_graph(adjacency)
    x = real_array(x, "x", ndim=1)
    if len(x) != len(graph.degrees):
        raise ValueError(f"x must have {len(graph.degrees)} entries, got {len(x)}")
    _resolution(resolution)
    k = graph.degrees / graph.total

    def b_times(v):
        return graph.adjacency @ v - resolution * graph.degrees * (k @ v)

    return b_times(x) - b_times(np.ones(len(x))) * x


def leading_eigenvector(adjacency: Any, *, resolution: float = 1.0) -> tuple[float, Float[np.ndarray, " n"]]:
    """Return the largest eigenvalue of the modularity matrix of a graph, or of a part of one, and its eigenvector."""
    graph = as_graph(adjacency)
    _resolution(resolution)
    n = len(graph.degrees)
    if n <= SMALL:
        b = np.array([modularity_product(graph, e, resolution=resolution) for e in np.eye(n)])
        values, vectors = np.linalg.eigh((b + b.T) / 2)
        return float(values[n - 1]), vectors[:, n - 1]
    # Lanczos, with every new vector made orthogonal to all before it, twice.
    vector = np.random.default_rng(3).normal(size=n)
    basis, products = [], []
    for _ in range(min(n, 120)):
        for q in [*basis, *basis]:
            vector = vector - (q @ vector) * q
        length = np.linalg.norm(vector)
        if length < 1e-10 * graph.degrees.max():
            break
        basis.append(vector / length)
        vector = modularity_product(graph, basis[-1], resolution=resolution)
        products.append(vector)
    small = np.array(basis) @ np.array(products).T
    values, rotation = np.linalg.eigh((small + small.T) / 2)
    return float(values[-1]), rotation[:, -1] @ np.array(basis)


def fine_tune(adjacency: Any, signs: Float[np.ndarray, " n"], *, resolution: float = 1.0) -> Float[np.ndarray, " n"]:
    """Return a division in two that is at least as good, by passes in which each vertex changes sides once, equation (6)."""
    graph = as_graph(adjacency)
    signs = _signs(signs, len(graph.degrees))
    diagonal = _diagonal(graph, _resolution(resolution))
    n = len(signs)
    columns = [modularity_product(graph, e, resolution=resolution) for e in np.eye(n)]
    for _ in range(AT_MOST):
        trial, free = signs.copy(), np.ones(n, dtype=bool)
        product = modularity_product(graph, trial, resolution=resolution)
        best, kept, total = NO_GAIN, None, 0.0
        while free.any():
            gain = (diagonal - trial * product) / (graph.total / 2)
            i = max(np.flatnonzero(free), key=lambda j: gain[j])
            total += gain[i]
            product = product - 2 * trial[i] * columns[i]
            trial[i], free[i] = -trial[i], False
            if total > best:
                best, kept = total, trial.copy()
        if kept is None:
            break
        signs = kept
    return -signs


def spectral_communities(adjacency: Any, *, resolution: float = 1.0, tune: bool = True) -> Int[np.ndarray, " n"]:
    """Return communities, found by division in two again and again, equations (3) and (5)."""
    graph = as_graph(adjacency)
    _resolution(resolution)
    n = len(graph.degrees)
    labels = np.arange(n)

    def divide(members):
        piece = part(graph, members)
        signs = np.where(leading_eigenvector(piece, resolution=resolution)[1] >= 0, -1.0, 1.0)
        signs = fine_tune(piece, signs, resolution=resolution) if tune else signs
        before = np.zeros(n, dtype=int)
        before[members] = 1
        after = before.copy()
        after[members[signs > 0]] = 2
        rest = np.arange(n) + 3
        before, after = np.where(before > 0, before, rest), np.where(after > 0, after, rest)
        gain = modularity(graph, after, resolution=resolution) - modularity(graph, before, resolution=resolution)
        if gain > NO_GAIN:
            divide(members[signs > 0])
            divide(members[signs < 0])
        else:
            labels[members] = members[0]

    divide(np.flatnonzero(graph.degrees > 0))
    return np.unique(labels, return_inverse=True)[1]


def move_gains(
    adjacency: Any, labels: Labels, totals: Float[np.ndarray, " n_totals"], vertex: int, *, resolution: float = 1.0
) -> tuple[Int[np.ndarray, " n_candidates"], Float[np.ndarray, " n_candidates"]]:
    """Return to which communities a vertex may move, and what that gains, equation (7)."""
    graph = as_graph(adjacency)
    if not 0 <= vertex < len(graph.degrees):
        raise ValueError(f"vertex must be from 0 to {len(graph.degrees) - 1}, got {vertex}")
    links = {int(labels[vertex]): 0.0}
    for j, w in zip(*_neighbours(graph, vertex), strict=True):
        links[int(labels[j])] = links.get(int(labels[j]), 0.0) + float(w)
    own, k = int(labels[vertex]), graph.degrees[vertex]
    gains = {}
    for c, w in links.items():
        if c == own:
            gains[c] = 0.0
        else:
            chance = resolution * (k / graph.total) * (totals[c] - (totals[own] - k))
            gains[c] = (w - links[own] - chance) / (graph.total / 2)
    candidates = sorted(gains)
    return np.array(candidates), np.array([gains[c] for c in candidates], dtype=float)


def local_moving(
    adjacency: Any, labels: Labels, *, resolution: float = 1.0, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Return communities that no move of one vertex to a neighbour's community betters, by such moves, equation (7)."""
    graph = as_graph(adjacency)
    labels = _labels(labels, len(graph.degrees))
    _resolution(resolution)
    totals = np.array([graph.degrees[labels == c].sum() for c in range(labels.max() + 1)])
    for _ in range(AT_MOST):
        still = True
        order = np.arange(len(labels))
        rng.shuffle(order)
        for i in order[::-1]:
            candidates, gains = move_gains(graph, labels, totals, int(i), resolution=resolution)
            best = len(gains) - 1 - int(np.argmax(gains[::-1]))
            if gains[best] > NO_GAIN:
                old, new = labels[i], candidates[best]
                totals[old] -= graph.degrees[i]
                totals[new] += graph.degrees[i]
                labels[i], still = new, False
        if still:
            break
    return labels


def louvain(adjacency: Any, *, resolution: float = 1.0, rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Return communities by moving vertices, then communities, then communities of these, equation (8)."""
    graph = as_graph(adjacency)
    _resolution(resolution)
    n = len(graph.degrees)
    joined = np.unique(local_moving(graph, np.arange(n), resolution=resolution, rng=rng), return_inverse=True)[1]
    m = joined.max() + 1
    if m == n:
        return joined
    edges = graph.adjacency.tocoo()
    weights = np.zeros((m, m))
    np.add.at(weights, (joined[edges.row], joined[edges.col]), edges.data)
    return louvain((weights + weights.T) / 2, resolution=resolution, rng=rng)[joined]
