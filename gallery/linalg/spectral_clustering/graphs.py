"""The same samples, a dense and a sparse group and two outliers, in five graphs."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from mlpath.linalg.spectral_clustering.graphs import (
    connected_components,
    epsilon_graph,
    gaussian_graph,
    knn_graph,
    mutual_knn_graph,
    self_tuning_graph,
    squared_distances,
)


def samples() -> np.ndarray:
    """Two crescents, one of them with few samples, and two outliers."""
    moons, which = make_moons(160, noise=0.06, random_state=3)
    kept = (which == 0) | (np.cumsum(which) % 3 == 0)
    return np.concatenate([moons[kept], [[-1.3, -0.7], [2.3, 1.1]]])


def figure() -> Figure:
    """Edges drawn as dark as they are heavy; vertices coloured by connected component, dense graphs cut off at a weight of 0.05."""
    x = samples()
    squared = squared_distances(x)
    graphs = {
        "full, σ = 0.12": gaussian_graph(squared, 0.12),
        "ε = 0.24": epsilon_graph(squared, 0.24).toarray(),
        "5 nearest neighbours": knn_graph(squared, 5).toarray(),
        "5 mutual nearest neighbours": mutual_knn_graph(squared, 5).toarray(),
        "self-tuning, 7th neighbour": self_tuning_graph(squared, 7),
    }
    fig = plt.figure(figsize=(13, 6), layout="constrained")
    axes = fig.subplots(2, 3, sharex=True, sharey=True).ravel()
    axes[0].plot(*x.T, "o", color="black", markersize=3)
    axes[0].set_title(f"{len(x)} samples")
    for ax, (name, w) in zip(axes[1:], graphs.items(), strict=True):
        w = np.where(w > 0.05, w, 0)
        i, j = np.nonzero(np.triu(w))
        lines = LineCollection(
            np.stack([x[i], x[j]], axis=1).tolist(), linewidths=0.8, colors=[(0.4, 0.4, 0.4, a) for a in w[i, j]]
        )
        ax.add_collection(lines)
        labels = connected_components(w)
        ax.scatter(*x.T, c=labels % 10, cmap="tab10", vmin=0, vmax=9, s=16, zorder=2)
        count = labels.max() + 1
        ax.set_title(f"{name}\n{len(i)} edges, {count} component{'s' if count > 1 else ''}")
    for ax in axes:
        ax.set_aspect("equal")
    return fig
