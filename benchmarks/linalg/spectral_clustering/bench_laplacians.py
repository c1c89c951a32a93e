"""The peer of Laplacians is SciPy's, which must have the same entries. The peer of eigenpairs is SciPy's eigsh with the
inverse of a shifted matrix, as one would call it for a sparse graph, and eigh for a dense one; eigenvalues must agree to
1e-10. The given solver looks a second time for copies of repeated eigenvalues, which eigsh may miss.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse.csgraph
from scipy.sparse import csc_array
from scipy.sparse.linalg import eigsh
from sklearn.datasets import make_moons
from sklearn.neighbors import kneighbors_graph

from mlpath.linalg.spectral_clustering.laplacians import smallest_eigenpairs, symmetric_laplacian
from mlpath.workbench.bench import Case, close


def same_entries(ours, peer):
    difference = ours - peer
    assert abs(difference).max() < 1e-12, f"the entries differ by {abs(difference).max():.2g}"


def peer_sparse(graph):
    return np.sort(eigsh(csc_array(scipy.sparse.csgraph.laplacian(graph, normed=True)), 3, sigma=-2e-4)[0])


def cases() -> Iterator[Case]:
    x = np.asarray(make_moons(2000, noise=0.08, random_state=0)[0])
    asked = kneighbors_graph(x, 10)
    sparse: Any = asked.maximum(asked.T)
    dense = np.exp(-20 * ((x[:600, None] - x[:600]) ** 2).sum(axis=-1))
    np.fill_diagonal(dense, 0)
    for name, graph in (("2,000 vertices with 10 neighbours", sparse), ("600 vertices, dense", dense)):
        yield Case(
            f"symmetric_laplacian, {name}",
            ours=lambda graph=graph: symmetric_laplacian(graph),
            peer_name="scipy.sparse.csgraph.laplacian",
            peer=lambda graph=graph: scipy.sparse.csgraph.laplacian(graph, normed=True),
            check=same_entries,
            limit=15,
        )
    yield Case(
        "smallest_eigenpairs, three of 2,000, sparse",
        ours=lambda: smallest_eigenpairs(sparse, 3)[0],
        peer_name="eigsh, shifted and inverted",
        peer=lambda: peer_sparse(sparse),
        check=close(0, atol=1e-10),
    )
    yield Case(
        "smallest_eigenpairs, three of 600, dense",
        ours=lambda: smallest_eigenpairs(dense, 3)[0],
        peer_name="scipy.linalg.eigh",
        peer=lambda: scipy.linalg.eigh(scipy.sparse.csgraph.laplacian(dense, normed=True), subset_by_index=(0, 2))[0],
        check=close(0, atol=1e-10),
    )
