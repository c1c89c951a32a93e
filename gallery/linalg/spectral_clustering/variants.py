"""Views that agree, a dangling path, and eigenvectors that follow a changing graph."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.spectral_clustering.variants import (
    changed_eigenvectors,
    coregularise,
    extend,
    normalised_affinity,
    random_walk_eigenpairs,
)


def gaussian(x: np.ndarray, scale: float) -> np.ndarray:
    w = np.exp(-((x[:, None] - x) ** 2).sum(axis=2) / (2 * scale**2))
    return w - np.diag(np.diag(w))


def dangling(rng: np.random.Generator) -> np.ndarray:
    """Two sparse planted groups of 60, and a path of 7 vertices that hangs on the first."""
    truth = np.repeat([1.0, -1.0], 60)
    edges = np.triu(rng.random((120, 120)) < np.where(truth[:, None] == truth, 0.11, 0.015), 1)
    w = np.zeros((127, 127))
    w[:120, :120] = edges
    w[0, 120] = 1
    w[np.arange(120, 126), np.arange(121, 127)] = 1
    for lonely in np.flatnonzero((w + w.T).sum(axis=1) == 0):
        w[lonely, (lonely + 1) % 120] = 1
    return w + w.T


def figure() -> Figure:
    """Two views above, stray vertices and changing graphs below."""
    fig, axes = plt.subplots(2, 3, figsize=(14.5, 8.5), layout="constrained")
    rng = np.random.default_rng(0)
    colours = np.array(["tab:blue", "tab:orange", "tab:green"])

    truth = np.repeat([0, 1, 2], 50)
    views = []
    for joined in ([0.0, 0.0, 4.0], [0.0, 4.0, 4.0]):
        x = np.column_stack([np.take(joined, truth), np.zeros(150)]) + rng.normal(size=(150, 2))
        views.append(normalised_affinity(gaussian(x, 0.8)))
    stacked = np.stack(views)
    for ax, weight, title in (
        (axes[0, 0], 0.0, "View 1 alone"),
        (axes[0, 1], 0.5, "View 1, co-regularised with view 2"),
    ):
        u = coregularise(stacked, 3, weight=weight, tol=1e-6).embeddings[0]
        ax.scatter(u[:, 1], u[:, 2], c=colours[truth], s=14)
        ax.set(xlabel="second dimension", ylabel="third dimension", title=f"{title} (weight {weight})")
    for weight in (0.1, 0.5, 2.0):
        gains = coregularise(stacked, 3, weight=weight, tol=1e-7).objectives
        axes[0, 2].semilogy(np.maximum(gains[-1] - gains[:-1], 1e-9), "o-", markersize=3, label=f"weight {weight}")
    axes[0, 2].set(xlabel="sweep", ylabel="objective still to gain", title="No sweep lowers the objective")
    axes[0, 2].legend()

    w = dangling(rng)
    ax = axes[1, 0]
    for shift, (tau, marker) in enumerate(((0.0, "o"), (6.0, "s"))):
        values, vectors = np.linalg.eigh(normalised_affinity(w, tau=tau))
        u = vectors[:, -2] * np.sign(vectors[0, -2])
        ax.plot(u / abs(u).max() + 2.5 * (1 - shift), marker, markersize=3, label=f"$\\tau$ = {tau:g}")
        ax.axhline(2.5 * (1 - shift), color="lightgrey", zorder=0)
    for border in (60, 120):
        ax.axvline(border - 0.5, color="grey", linestyle=":")
    ax.set(
        xlabel="vertex: two groups of 60, a dangling path of 7",
        ylabel="second eigenvector, shifted",
        yticks=[],
        title="Regularisation finds the groups again",
    )
    ax.legend(loc="lower left")

    ax = axes[1, 1]
    x = np.concatenate([rng.normal(c, 0.7, size=(40, 2)) for c in ((0, 0), (3, 0), (1.5, 2.5))])
    graph = gaussian(x, 1.0)
    changes = np.geomspace(1e-3, 1, 10)
    i, j = 5, 47  # of the first and of the second group
    exact = []
    for change in changes:
        later = graph.copy()
        later[i, j] += change
        later[j, i] += change
        exact.append(random_walk_eigenpairs(later, 2)[1][:, 1])
    values, vectors = random_walk_eigenpairs(graph, 120)
    length = np.linalg.norm(vectors[:, 1])

    def off(found: np.ndarray, true: np.ndarray) -> float:
        return float(min(np.linalg.norm(found - true), np.linalg.norm(found + true)) / length)

    ax.loglog(changes, [off(vectors[:, 1], true) for true in exact], color="grey", label="the old one")
    for k in (3, 40, 120):
        found = [changed_eigenvectors(values[:k], vectors[:, :k], i, j, change)[:, 1] for change in changes]
        ax.loglog(
            changes,
            [off(v, true) for v, true in zip(found, exact, strict=True)],
            "o-",
            markersize=3,
            label=f"by (9) with {k} of 120 eigenpairs",
        )
    ax.set(
        xlabel="change of the weight between two groups",
        ylabel="relative error of the second eigenvector",
        title="To first order, if all eigenpairs are known",
    )
    ax.legend(fontsize="small")

    ax = axes[1, 2]
    w = gaussian(x, 0.7)
    old = rng.permutation(120)[:60]
    new = np.setdiff1d(np.arange(120), old)
    values, vectors = random_walk_eigenpairs(w[np.ix_(old, old)], 3)
    found = extend(values, vectors, w[np.ix_(new, old)])
    group = np.repeat([0, 1, 2], 40)
    ax.scatter(vectors[:, 1], vectors[:, 2], c=colours[group[old]], s=18, label="60 old vertices")
    ax.scatter(found[:, 1], found[:, 2], c=colours[group[new]], s=40, marker="+", label="60 new ones, extended")
    ax.set(xlabel="second eigenvector", ylabel="third eigenvector", title="New points by (10)")
    ax.legend()
    return fig
