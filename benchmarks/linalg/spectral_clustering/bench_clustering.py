"""The peer is scikit-learn's SpectralClustering, with the same graph of 10 neighbours (it also weighs one-sided edges half), or the same full graph, and as many starts of k-means.
Both must agree with the true groups equally well, by the adjusted Rand index, to 0.02. Ours scales rows (Ng, Jordan and Weiss), the peer divides by the roots of degrees (Shi and Malik).
"""

from collections.abc import Iterator
from functools import partial

from sklearn.cluster import SpectralClustering as Peer
from sklearn.datasets import make_blobs, make_circles, make_moons
from sklearn.metrics import adjusted_rand_score

from mlpath.linalg.spectral_clustering.clustering import SpectralClustering
from mlpath.workbench.bench import Case


def equally_good(truth, ours, peer):
    scores = adjusted_rand_score(truth, ours), adjusted_rand_score(truth, peer)
    assert scores[0] >= scores[1] - 0.02, f"the adjusted Rand index is {scores[0]:.3f}, the peer's {scores[1]:.3f}"
    assert scores[1] > 0.9, f"the peer's adjusted Rand index is {scores[1]:.3f}: the task is too hard"


def cases() -> Iterator[Case]:
    neighbours = {"affinity": "nearest_neighbors", "n_neighbors": 11}  # scikit-learn counts the sample itself
    for name, (x, truth), k in (
        ("crescents, 2,000 samples, 10 neighbours", make_moons(2000, noise=0.08, random_state=0), 2),
        ("crescents, 1,500 samples, 10 neighbours", make_moons(1500, noise=0.08, random_state=1), 2),
        ("six groups in 10 dimensions, 2,000 samples", make_blobs(2000, 10, centers=6, random_state=0), 6),
    ):
        yield Case(
            name,
            ours=partial(SpectralClustering(k, random_state=0).fit_predict, x),
            peer_name="scikit-learn",
            peer=partial(Peer(k, random_state=0, **neighbours).fit_predict, x),
            check=partial(equally_good, truth),
            limit=1.5,
        )
    for name, (x, truth), scale in (
        ("crescents, 600 samples, full graph", make_moons(600, noise=0.05, random_state=0), 0.1),
        ("rings, 600 samples, full graph", make_circles(600, factor=0.5, noise=0.04, random_state=0), 0.1),
    ):
        yield Case(
            name,
            ours=partial(SpectralClustering(2, affinity="full", scale=scale, random_state=0).fit_predict, x),
            peer_name="scikit-learn",
            peer=partial(Peer(2, gamma=0.5 / scale**2, random_state=0).fit_predict, x),
            check=partial(equally_good, truth),
            limit=1.5,
        )
