"""The peer of distances is SciPy's pdist, which takes differences too and, written in C, only those above the diagonal. The peer of graphs is scikit-learn's
graph of neighbours by brute force, made symmetric, and of components SciPy's. Distances must agree to rounding, edges and labels exactly.
"""

from collections.abc import Iterator

import numpy as np
import scipy.sparse.csgraph
from scipy.spatial.distance import pdist, squareform
from sklearn.neighbors import NearestNeighbors

from mlpath.linalg.spectral_clustering.graphs import connected_components, knn_graph, squared_distances
from mlpath.workbench.bench import Case, close


def same_edges(ours, peer):
    np.testing.assert_array_equal(ours.toarray(), peer.toarray())


def peer_graph(x):
    asked = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(x).kneighbors_graph()
    return asked.maximum(asked.T)


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n, d in ((1000, 2), (1000, 10)):
        x = rng.normal(size=(n, d))
        yield Case(
            f"squared_distances, {n:,} x {d}",
            ours=lambda x=x: squared_distances(x),
            peer_name="scipy pdist",
            peer=lambda x=x: squareform(pdist(x, "sqeuclidean")),
            check=close(1e-12),
            limit=15,
        )
    x = rng.normal(size=(1000, 10))
    yield Case(
        "knn_graph with its distances, 1,000 x 10, k = 10",
        ours=lambda: knn_graph(squared_distances(x), 10),
        peer_name="NearestNeighbors, brute",
        peer=lambda: peer_graph(x),
        check=same_edges,
        limit=15,
    )
    graph = knn_graph(squared_distances(x), 5)
    yield Case(
        "connected_components, 1,000 vertices",
        ours=lambda: connected_components(graph),
        peer_name="scipy.sparse.csgraph",
        peer=lambda: scipy.sparse.csgraph.connected_components(graph, directed=False)[1],
        check=close(0.0),
        limit=100,
    )
