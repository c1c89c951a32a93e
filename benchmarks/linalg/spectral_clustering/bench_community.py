"""The peer is networkx, which is Python throughout; its Louvain has another order of the vertices, and is as good if its modularity
is nearly the same. Newman's eigenvectors have no peer there: the nearest is the greedy joining of Clauset, Newman and Moore,
which ours must equal in modularity.
"""

from collections.abc import Callable, Iterable, Iterator

import networkx as nx
import numpy as np

from mlpath.linalg.spectral_clustering.community import louvain, modularity, spectral_communities
from mlpath.workbench.bench import Case, close


def labels_of(communities: Iterable[Iterable[int]], n: int) -> np.ndarray:
    labels = np.empty(n, dtype=int)
    for number, members in enumerate(communities):
        labels[list(members)] = number
    return labels


def as_good(a: object) -> Callable[[np.ndarray, np.ndarray], None]:
    """A check that the modularity of ours is at most 0.005 below the peer's."""

    def check(ours: np.ndarray, theirs: np.ndarray) -> None:
        qualities = modularity(a, ours), modularity(a, theirs)
        assert qualities[0] > qualities[1] - 0.005, qualities

    return check


def cases() -> Iterator[Case]:
    graph = nx.planted_partition_graph(20, 50, 0.3, 0.01, seed=0)
    a = nx.to_scipy_sparse_array(graph, dtype=float)
    truth = np.arange(1000) // 50
    groups = [set(range(first, first + 50)) for first in range(0, 1000, 50)]
    yield Case(
        "modularity of 1,000 vertices, 12,000 edges",
        ours=lambda: modularity(a, truth),
        peer_name="networkx modularity",
        peer=lambda: nx.community.modularity(graph, groups),
        check=close(1e-10),
    )
    yield Case(
        "Louvain on 1,000 vertices in 20 planted groups",
        ours=lambda: louvain(a, rng=np.random.default_rng(0)),
        peer_name="networkx louvain_communities",
        peer=lambda: labels_of(nx.community.louvain_communities(graph, seed=0), 1000),
        check=as_good(a),
    )
    small = nx.planted_partition_graph(6, 50, 0.3, 0.03, seed=1)
    b = nx.to_scipy_sparse_array(small, dtype=float)
    yield Case(
        "leading eigenvectors, fine tuned, on 300 vertices in 6 planted groups",
        ours=lambda: spectral_communities(b),
        peer_name="networkx greedy_modularity_communities",
        peer=lambda: labels_of(nx.community.greedy_modularity_communities(small), 300),
        check=as_good(b),
    )
