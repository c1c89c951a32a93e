"""Two photographs in segments, the eigenvectors that make them, and how near Nyström and landmarks come to the exact ones."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from mlpath.linalg.spectral_clustering.large import (
    gaussian_affinity,
    landmark_embedding,
    landmark_weights,
    nystrom_embedding,
    pixel_features,
    segment,
)

COUNTS = (20, 40, 80, 160)


def mean_colours(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The image with each segment in its mean colour."""
    painted = np.empty_like(image)
    for c in np.unique(labels):
        painted[labels == c] = image[labels == c].mean(axis=0)
    return painted


def angle(v: np.ndarray, w: np.ndarray) -> float:
    """The sine of the largest angle between two subspaces with orthonormal bases."""
    cosine = min(1.0, float(np.linalg.svd(v.T @ w, compute_uv=False)[-1]))
    return float(np.sqrt(1 - cosine**2))


def figure() -> Figure:
    """All 273,280 pixels of the flower, a quarter of those of the temple, and errors on a small picture."""
    fig, axes = plt.subplots(2, 4, figsize=(15, 6.5), layout="constrained")
    for row, (name, n_segments) in enumerate((("flower.jpg", 6), ("china.jpg", 8))):
        image = load_sample_image(name)[:: row + 1, :: row + 1] / np.float32(255)
        labels = segment(image, n_segments, n_landmarks=300, rng=np.random.default_rng(0))
        axes[row, 0].imshow(image)
        axes[row, 0].set_title(f"{name}, {labels.size:,} pixels", fontsize=10)
        axes[row, 1].imshow(mean_colours(image, labels))
        axes[row, 1].set_title(f"{n_segments} segments, in their mean colours", fontsize=10)

    image = load_sample_image("flower.jpg")[::2, ::2] / 255
    rng = np.random.default_rng(0)
    x = pixel_features(image, 60.0)
    landmarks = x[rng.choice(len(x), 300, replace=False)]
    _, vectors = landmark_embedding(landmark_weights(x, landmarks, 5, 10.0), 4)
    for ax, j in ((axes[0, 2], 1), (axes[0, 3], 2), (axes[1, 2], 3)):
        limit = np.quantile(abs(vectors[:, j]), 0.99)
        ax.imshow(vectors[:, j].reshape(image.shape[:2]), cmap="RdBu", vmin=-limit, vmax=limit)
        ax.set_title(f"eigenvector {j + 1} of the flower's landmark graph", fontsize=10)
    for ax in axes.ravel()[:7]:
        ax.axis("off")

    errors = axes[1, 3]
    small = pixel_features(load_sample_image("flower.jpg")[::16, ::16] / 255, 60.0)
    w = gaussian_affinity(small, small, 25.0)
    roots = np.sqrt(w.sum(axis=1))
    exact = np.linalg.eigh(w / roots[:, None] / roots)[1][:, -3:]
    nystrom = []
    for m in COUNTS:
        sines = []
        for _ in range(5):
            order = rng.permutation(len(small))
            _, found = nystrom_embedding(w[np.ix_(order[:m], order[:m])], w[np.ix_(order[:m], order[m:])], 3)
            sines.append(angle(found, exact[order]))
        nystrom.append(np.median(sines))
    errors.loglog(COUNTS, nystrom, "o-")
    errors.set(
        xlabel=f"sampled points of {len(small):,}",
        ylabel="sine of the largest angle",
        title="Nyström: 3 eigenvectors beside the exact ones",
        xticks=COUNTS,
        xticklabels=[str(m) for m in COUNTS],
    )
    errors.minorticks_off()
    errors.title.set_fontsize(10)
    return fig
