"""The peer is scikit-learn's SpectralClustering with the full matrix of the same affinities, on few enough points that it fits; ours must
find groups as well, by the adjusted Rand index. For a whole photograph there is no peer: the full matrix does not fit.

Run by hand it also says what the segments of a photograph of 427 x 640 pixels take at most in memory; the matrix of affinities would take 597 GB.
"""

import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.cluster import SpectralClustering
from sklearn.datasets import load_sample_image, make_blobs
from sklearn.metrics import adjusted_rand_score

from mlpath.linalg.spectral_clustering.large import (
    gaussian_affinity,
    k_means,
    landmark_embedding,
    landmark_weights,
    nystrom_embedding,
    pixel_features,
    segment,
)
from mlpath.workbench.bench import Case


def rows(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def by_nystrom(x: np.ndarray, scale: float, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    order = rng.permutation(len(x))
    sampled, others = x[order[:150]], x[order[150:]]
    blocks = gaussian_affinity(sampled, sampled, scale), gaussian_affinity(sampled, others, scale)
    labels = np.empty(len(x), dtype=int)
    labels[order] = k_means(rows(nystrom_embedding(*blocks, n_clusters)[1]), n_clusters, rng=rng)
    return labels


def by_landmarks(x: np.ndarray, scale: float, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    z = landmark_weights(x, x[rng.choice(len(x), 150, replace=False)], 5, scale)
    return k_means(rows(landmark_embedding(z, n_clusters)[1]), n_clusters, rng=rng)


def cases() -> Iterator[Case]:
    x, truth = make_blobs(2000, 5, centers=6, cluster_std=1.0, random_state=0)

    def as_good(ours: np.ndarray, theirs: np.ndarray) -> None:
        scores = adjusted_rand_score(truth, ours), adjusted_rand_score(truth, theirs)
        assert scores[0] > scores[1] - 0.01, scores

    def peer() -> np.ndarray:
        return SpectralClustering(6, gamma=0.5 / 2.0**2, random_state=0).fit(x).labels_

    ways: dict[str, Callable[..., np.ndarray]] = {"Nyström": by_nystrom, "landmarks": by_landmarks}
    for name, way in ways.items():
        yield Case(
            f"2,000 points in 6 clusters by {name}, 150 of them",
            ours=lambda way=way: way(x, 2.0, 6, np.random.default_rng(0)),
            peer_name="sklearn SpectralClustering, full matrix",
            peer=peer,
            check=as_good,
        )


if __name__ == "__main__":
    image = load_sample_image("flower.jpg") / 255
    tracemalloc.start()
    segment(image, 6, rng=np.random.default_rng(0))
    print(f"segments of 273,280 pixels: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB at most")
    x = pixel_features(image[::2, ::2], 60.0)
    tracemalloc.reset_peak()
    order = np.random.default_rng(0).permutation(len(x))
    a, b = (
        gaussian_affinity(x[order[:150]], x[order[:150]], 25.0),
        gaussian_affinity(x[order[:150]], x[order[150:]], 25.0),
    )
    nystrom_embedding(a, b, 6)
    print(f"Nyström, 150 of 68,480 pixels: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB at most")
