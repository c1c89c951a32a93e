"""Crescents, rings and groups of different density: k-means beside spectral clustering, and what it saw."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_circles, make_moons

from mlpath.linalg.spectral_clustering.clustering import Affinity, SpectralClustering, kmeans
from mlpath.linalg.spectral_clustering.laplacians import smallest_eigenpairs


def density() -> np.ndarray:
    """Two small dense groups inside a wide thin ring."""
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 60)
    ring = 4 * np.stack([np.cos(angles), np.sin(angles)], axis=1) + rng.normal(0, 0.15, (60, 2))
    return np.concatenate([rng.normal((-0.5, 0), 0.12, (60, 2)), rng.normal((0.5, 0), 0.12, (60, 2)), ring])


def figure() -> Figure:
    """A row for each set of samples: k-means, spectral clustering, its embedding and its eigenvalues."""
    tasks: list[tuple[str, Any, int, Affinity, int]] = [
        ("crescents", make_moons(240, noise=0.08, random_state=2)[0], 2, "knn", 10),
        ("rings", make_circles(240, factor=0.45, noise=0.05, random_state=0)[0], 2, "knn", 8),
        ("density", density(), 3, "self_tuning", 7),
    ]
    fig = plt.figure(figsize=(14, 10), layout="constrained")
    for (name, x, k, affinity, n_neighbors), axes in zip(tasks, fig.subplots(3, 4), strict=True):
        plain = kmeans(x, k, rng=np.random.default_rng(0))
        model = SpectralClustering(k, affinity=affinity, n_neighbors=n_neighbors, random_state=0).fit(x)
        values = smallest_eigenpairs(model.affinity_matrix_, 8)[0]
        for ax, labels, title in (
            (axes[0], plain.labels, f"k-means: {name}"),
            (axes[1], model.labels_, f"spectral, {affinity}"),
        ):
            ax.scatter(*x.T, c=labels, cmap="tab10", vmin=0, vmax=9, s=12)
            ax.set(title=title, aspect="equal")
        axes[0].plot(*plain.centres.T, "k+", markersize=12)
        jitter = np.random.default_rng(1).normal(0, 0.015, (len(x), 2))
        rows = model.embedding_[:, -2:] + jitter
        axes[2].scatter(*rows.T, c=model.labels_, cmap="tab10", vmin=0, vmax=9, s=12)
        first = k - 1
        axes[2].set(title="Embedding, slightly shaken", xlabel=f"column {first}", ylabel=f"column {k}", aspect="equal")
        axes[3].plot(range(1, 9), values, "o")
        axes[3].axvspan(k, k + 1, color="lightgrey")
        axes[3].set(title=f"Eigenvalues: the gap after {k} is grey", xlabel="number", ylim=(-0.02 * values[-1], None))
    return fig
