"""Eigenvalues and eigenvectors of a graph with three communities, and the sweep that cuts it."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from mlpath.linalg.spectral_clustering.graphs import mutual_knn_graph, squared_distances
from mlpath.linalg.spectral_clustering.laplacians import cut_values, degrees, smallest_eigenpairs, sweep_cut


def samples() -> np.ndarray:
    """Three groups, the first two nearer to each other."""
    rng = np.random.default_rng(4)
    return np.concatenate([rng.normal(c, 0.75, (60, 2)) for c in ((0.0, 0.0), (2.6, 0.3), (1.2, 3.6))])


def figure() -> Figure:
    """Above the eigenvalues and the two first eigenvectors that are not constant; below the sweep along the first of these, and its cut."""
    x = samples()
    w = mutual_knn_graph(squared_distances(x), 14).toarray()
    x, w = x[w.any(axis=1)], w[np.ix_(w.any(axis=1), w.any(axis=1))]
    i, j = np.nonzero(np.triu(w))
    values, vectors = smallest_eigenpairs(w, 10, "random_walk")
    members, best = sweep_cut(w, vectors[:, 1])
    order = np.argsort(vectors[:, 1], kind="stable")
    sets = [np.isin(np.arange(len(x)), order[:m]) for m in range(1, len(x))]
    volumes = np.cumsum(degrees(w)[order])[:-1]
    conductance = [cut_values(w, s.astype(int)).cut / min(v, w.sum() - v) for s, v in zip(sets, volumes, strict=True)]

    fig = plt.figure(figsize=(13, 8), layout="constrained")
    above, below = fig.subplots(2, 3)
    above[0].plot(range(1, 11), values, "o")
    above[0].set(xlabel="number", ylabel="eigenvalue", title="Three are small: three communities")
    for ax, k in zip((above[1], above[2], below[1]), (1, 2, None), strict=True):
        ends = np.stack([x[i], x[j]], axis=1).tolist()
        ax.add_collection(LineCollection(ends, linewidths=0.5, colors="lightgrey", zorder=1))
        colours = members if k is None else vectors[:, k]
        ax.scatter(*x.T, c=colours, cmap="coolwarm", s=18, zorder=2)
        ax.set(aspect="equal", title=f"Cut at the best place: h = {best:.3f}" if k is None else f"Eigenvector {k + 1}")
    below[0].plot(range(1, len(x)), conductance)
    below[0].plot(members.sum(), best, "o", color="crimson")
    below[0].axhspan(values[1] / 2, np.sqrt(2 * values[1]), color="lightgrey", alpha=0.5, label="Cheeger's bounds")
    below[0].set(xlabel="vertices in the set", ylabel="conductance", title="Sweep along eigenvector 2", yscale="log")
    below[0].legend()
    below[2].scatter(*vectors[:, 1:3].T, s=18, color="black")
    below[2].set(xlabel="eigenvector 2", ylabel="eigenvector 3", title="The two as coordinates")
    return fig
