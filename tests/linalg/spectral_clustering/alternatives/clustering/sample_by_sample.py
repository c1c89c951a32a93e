"""Sample by sample, rows of the random walk's eigenvectors scaled, and the best run kept on the way."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array, issparse
from scipy.spatial import KDTree

from mlpath.linalg._shared import real_array
from mlpath.linalg.spectral_clustering.graphs import (
    epsilon_graph,
    gaussian_graph,
    knn_graph,
    mutual_knn_graph,
    self_tuning_graph,
    squared_distances,
)
from mlpath.linalg.spectral_clustering.laplacians import Kind, smallest_eigenpairs

Samples = Float[np.ndarray, "n_samples n_features"]
Labels = Int[np.ndarray, " n_samples"]
Graph = Float[np.ndarray, "n_samples n_samples"] | csr_array
Method = Literal["unnormalised", "shi_malik", "ng_jordan_weiss"]
Affinity = Literal["knn", "mutual_knn", "epsilon", "full", "self_tuning", "precomputed"]

# The Laplacian of each method.
KINDS: dict[Method, Kind] = {
    "unnormalised": "unnormalised",
    "shi_malik": "random_walk",
    "ng_jordan_weiss": "symmetric",
}


def _whole(value: int, name: str, at_most: float = np.inf) -> int:  # given: argument checks
    """Refuse what is not a whole number from 1 to the most there can be."""
    if value != int(value) or not 1 <= value <= at_most:
        raise ValueError(f"{name} must be a whole number from 1{f' to {at_most}' * (at_most < np.inf)}, got {value}")
    return int(value)


def _labels(labels: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return labels as 0, 1, 2, ..."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        raise ValueError(f"{name} must be whole numbers in one axis, got {labels}")
    return np.unique(labels, return_inverse=True)[1]


def _seeds(x: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:  # given: k-means++
    """Return `k` samples that are far from each other, drawn by k-means++; equal ones only if there are no others left."""
    centres = [x[rng.integers(len(x))]]
    nearest = np.full(len(x), np.inf)
    while len(centres) < k:
        nearest = np.minimum(nearest, ((x - centres[-1]) ** 2).sum(axis=1, dtype=np.float64))
        odds = nearest / nearest.sum() if nearest.any() else None
        centres.append(x[rng.choice(len(x), p=odds)])
    return np.array(centres)


def _neighbour_graph(x: np.ndarray, k: int, *, mutual: bool) -> csr_array:  # given: the same graphs, faster
    """Return `knn_graph` or `mutual_knn_graph` of samples: by a tree where no distances tie, and else from those of all pairs."""
    n = len(x)
    if k + 2 <= n:
        distances, indices = KDTree(x).query(x, k + 2)
        if (distances[:, 1] > 0).all() and (distances[:, k] < distances[:, k + 1]).all():
            ones, starts = np.ones(n * k, dtype=x.dtype), np.arange(0, n * k + 1, k)
            asks = csr_array((ones, indices[:, 1 : k + 1].ravel(), starts), shape=(n, n))
            return csr_array(asks.multiply(asks.T) if mutual else asks.maximum(asks.T))
    return (mutual_knn_graph if mutual else knn_graph)(squared_distances(x), k)


def row_normalise(u: Samples) -> Samples:
    """Return a matrix with its rows scaled to length 1, equation (4)."""
    # given: the check
    u = real_array(u, "u", ndim=2)
    # yours
    rows = [row / np.abs(row).max() if row.any() else row for row in u]
    return np.array([row / np.linalg.norm(row) if row.any() else row for row in rows], dtype=u.dtype)


def spectral_embedding(
    graph: Graph, k: int, method: Method = "ng_jordan_weiss"
) -> tuple[Float[np.ndarray, " {k}"], Float[np.ndarray, "n_samples {k}"]]:
    """Return the coordinates of a graph's vertices by one of the three methods, equations (1), (2) and (4)."""
    # given: the checks; KINDS tells the Laplacian of each method
    if method not in KINDS:
        raise ValueError(f"method must be one of {', '.join(KINDS)}, got {method!r}")
    # yours
    if (
        method == "ng_jordan_weiss"
    ):  # the directions of v and of u are the same, as each row of v is a multiple of that of u
        values, vectors = smallest_eigenpairs(graph, k, "random_walk")
        return values, row_normalise(vectors)
    return smallest_eigenpairs(graph, k, KINDS[method])


def eigengap(values: Float[np.ndarray, " n_values"]) -> int:
    """Return how many eigenvalues lie before the largest gap, equation (5)."""
    # given: the checks
    values = real_array(values, "values", ndim=1)
    if len(values) < 2 or (np.diff(values) < 0).any():
        raise ValueError(f"values must rise, and be two at least, got {values}")
    # yours
    best = 1
    for m in range(2, len(values)):
        if values[m] - values[m - 1] > values[best] - values[best - 1]:
            best = m
    return best


def lloyd_step(
    x: Samples, centres: Float[np.ndarray, "n_clusters n_features"]
) -> tuple[Labels, Float[np.ndarray, "n_clusters n_features"], float]:
    """Return one step of Lloyd's algorithm, equation (7)."""
    # given: the checks
    x, centres = real_array(x, "x", ndim=2), real_array(centres, "centres", ndim=2)
    if centres.shape[1] != x.shape[1]:
        raise ValueError(f"centres must have the {x.shape[1]} features of x, got {centres.shape[1]}")
    # yours
    labels, inertia = np.zeros(len(x), dtype=int), 0.0
    for i, sample in enumerate(x):
        squared = ((sample - centres) ** 2).sum(axis=1)
        labels[i] = int(np.argmin(squared))
        inertia += float(squared[labels[i]])
    updated = centres.astype(x.dtype)
    for c in set(labels.tolist()):
        updated[c] = x[labels == c].mean(axis=0)
    return labels, updated, inertia


@dataclass(frozen=True)
class KMeans:
    """What k-means came to."""

    labels: Labels
    """The cluster of each sample."""
    centres: Float[np.ndarray, "n_clusters n_features"]
    """The means of the clusters."""
    inertia: float
    """Equation (6), at the last step of this start."""
    n_iter: int
    """How many steps this start took, with the one in which nothing changed."""
    converged: bool
    """Whether a step came in which the centres did not change."""


def kmeans(x: Samples, k: int, *, rng: np.random.Generator, n_init: int = 10, max_iter: int = 300) -> KMeans:
    """Return the best of several runs of Lloyd's algorithm: the one whose inertia (6) is smallest."""
    # given: the checks; _seeds(x, k, rng) draws centres to start from
    x = real_array(x, "x", ndim=2)
    k = _whole(k, "k", len(x))
    n_init, max_iter = _whole(n_init, "n_init"), _whole(max_iter, "max_iter")
    # yours
    best: Any = None
    for _ in range(n_init):
        centres = _seeds(x, k, rng)
        n_iter, converged = 0, False
        for n_iter in range(1, max_iter + 1):  # noqa: B007
            labels, updated, inertia = lloyd_step(x, centres)
            converged = bool((updated == centres).all())
            centres = updated
            if converged:
                break
        if best is None or inertia < best.inertia:
            best = KMeans(labels, centres, inertia, n_iter, converged)
    return best


def matched_accuracy(labels: Labels, truth: Labels) -> float:
    """Return the share of samples whose labels are right, once clusters are matched with groups in the best way, equation (8)."""
    # given: the checks; both now have the labels 0, 1, 2, ...
    labels, truth = _labels(labels, "labels"), _labels(truth, "truth")
    if len(labels) != len(truth):
        raise ValueError(f"truth must have a label for each of the {len(labels)} samples, got {len(truth)}")
    # yours
    counts = (labels[:, None] == np.arange(labels.max() + 1)).astype(int).T @ (
        truth[:, None] == np.arange(truth.max() + 1)
    )
    rows, columns = linear_sum_assignment(-counts)
    return float(sum(counts[i, j] for i, j in zip(rows, columns, strict=True)) / len(labels))


class SpectralClustering:
    """Clusters of samples by a graph of their similarities, with scikit-learn's interface."""

    labels_: Labels
    n_clusters_: int
    embedding_: Float[np.ndarray, "n_samples n_clusters"]
    eigenvalues_: Float[np.ndarray, " n_clusters"]
    affinity_matrix_: Graph

    def __init__(  # given
        self,
        n_clusters: int | None = 2,
        *,
        method: Method = "ng_jordan_weiss",
        affinity: Affinity = "knn",
        n_neighbors: int = 10,
        scale: float = 1.0,
        radius: float = 1.0,
        max_clusters: int = 10,
        n_init: int = 10,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.method: Method = method
        self.affinity: Affinity = affinity
        self.n_neighbors = n_neighbors
        self.scale = scale
        self.radius = radius
        self.max_clusters = max_clusters
        self.n_init = n_init
        self.random_state = random_state

    def _graph(self, X: Any) -> Any:  # given: the choice of the graph
        """Return the graph of the samples."""
        if self.affinity == "precomputed":
            if issparse(X):
                entries = coo_array(X)
                i, j = entries.coords
                other = i != j
                return csr_array((entries.data[other], (i[other], j[other])), shape=entries.shape)
            X = real_array(X, "X", ndim=2).copy()
            np.fill_diagonal(X, 0)
            return X
        X = real_array(X, "X", ndim=2)
        if self.affinity in ("knn", "mutual_knn"):
            k = _whole(self.n_neighbors, "n_neighbors", len(X) - 1)
            return _neighbour_graph(X, k, mutual=self.affinity == "mutual_knn")
        if self.affinity == "self_tuning":
            return self_tuning_graph(squared_distances(X), _whole(self.n_neighbors, "n_neighbors", len(X) - 1))
        if self.affinity == "full":
            return gaussian_graph(squared_distances(X), self.scale)
        if self.affinity == "epsilon":
            return epsilon_graph(squared_distances(X), self.radius)
        raise ValueError(f"affinity must be one of those listed, got {self.affinity!r}")

    def fit(self, X: Samples | Graph) -> "SpectralClustering":
        """Cluster samples."""
        # given: the checks and the graph
        if self.method not in KINDS:
            raise ValueError(f"method must be one of {', '.join(KINDS)}, got {self.method!r}")
        graph = self._graph(X)
        n = graph.shape[0]
        k = None if self.n_clusters is None else _whole(self.n_clusters, "n_clusters", n)
        most = min(_whole(self.max_clusters, "max_clusters"), n - 1)
        rng = np.random.default_rng(self.random_state)
        # yours
        if k is None:
            k = eigengap(spectral_embedding(graph, most + 1, self.method)[0])
        self.n_clusters_ = k
        self.affinity_matrix_ = graph
        self.eigenvalues_, self.embedding_ = spectral_embedding(graph, k, self.method)
        result = kmeans(self.embedding_, k, n_init=self.n_init, rng=rng)
        self.labels_ = result.labels
        return self

    def fit_predict(self, X: Samples | Graph) -> Labels:  # given
        """Cluster samples and return their labels."""
        return self.fit(X).labels_
