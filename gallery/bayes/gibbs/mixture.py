"""Petals of iris flowers: the groups that a mixture finds, which flowers go together, and labels that switch."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_iris

from mlpath.bayes.gibbs.mixture import (
    Prior,
    co_clustering,
    draw_labels,
    draw_parameters,
    log_predictive,
    sample,
    statistics,
)


def figure(n_chains: int = 8) -> Figure:
    """Above: the predictive density and the co-clustering matrix. Below: switching labels; both samplers from random labels."""
    rng = np.random.default_rng(2)
    fig, ((density, matrix), (switching, speed)) = plt.subplots(2, 2, figsize=(11, 9), layout="constrained")
    iris = load_iris()
    order = np.argsort(iris.data[:, 2], kind="stable")
    x, species = iris.data[order, 2], iris.target[order]
    prior = Prior(n_components=3, concentration=1.0, mean=3.8, strength=0.05, shape=2.0, rate=0.3)
    start = rng.integers(3, size=(n_chains, len(x)))
    draws = sample(x, start, 80, prior=prior, collapsed=True, rng=rng)
    kept = draws[:, 40::4].reshape(-1, len(x))

    places = np.linspace(0, 8, 300)
    sums = statistics(x, kept, prior)
    weights = (prior.concentration + sums[:, :, 0]) / (3 * prior.concentration + len(x))
    curve = [(weights * np.exp(log_predictive(float(p), sums, prior))).sum(axis=1).mean() for p in places]
    bins = np.arange(0.95, 7.2, 0.2)
    density.hist(
        [x[species == k] for k in range(3)],
        bins,
        density=True,
        stacked=True,
        color=["tab:blue", "tab:orange", "tab:green"],
        alpha=0.5,
        label=list(iris.target_names),
    )
    density.plot(places, curve, "k", label="predictive density")
    density.set(title="150 flowers, colours not shown to the sampler", xlabel="length of the petals in cm")
    density.legend()

    image = matrix.imshow(co_clustering(kept), cmap="viridis", vmin=0, vmax=1)
    fig.colorbar(image, ax=matrix, label="probability of one group")
    matrix.set(title="co-clustering, flowers in order of length", xlabel="flower", ylabel="flower")

    pair = Prior(n_components=2, concentration=1.0, mean=0.0, strength=0.1, shape=2.0, rate=1.0)
    few, labels = np.array([-2.0, -1.5, -1.8, 1.2, 1.9, 1.4]), np.array([[0, 0, 0, 1, 1, 1]])
    path = []
    for _ in range(400):
        groups = draw_parameters(statistics(few, labels, pair), pair, rng=rng)
        labels = draw_labels(few, groups, rng=rng)
        path.append(groups.means[0])
    switching.plot(np.clip(np.array(path), -5, 5), ".", markersize=3)
    switching.set(
        title="means of two groups of six points: labels switch", xlabel="sweep", ylabel="mean (0: blue, 1: orange)"
    )

    for collapsed, name in ((False, "plain"), (True, "collapsed")):
        draws = sample(x, start, 40, prior=prior, collapsed=collapsed, rng=rng)
        within = []
        for t in range(40):
            s = statistics(x, draws[:, t], prior)
            gap = s[:, :, 2] - s[:, :, 1] ** 2 / np.maximum(s[:, :, 0], 1)
            within.append(gap.sum(axis=1) / len(x))
        lines = speed.plot(np.arange(1, 41), within, color="tab:blue" if collapsed else "tab:red", linewidth=0.9)
        lines[0].set_label(f"{name}, {n_chains} chains")
    speed.set(title="from random labels", xlabel="sweep", ylabel="variance within groups", yscale="log")
    speed.legend()
    return fig
