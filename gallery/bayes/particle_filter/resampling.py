"""How the four schemes place their points, and how much noise each of them adds."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.particle_filter.resampling import multinomial, normalise, residual, stratified, systematic

SCHEMES = {"multinomial": multinomial, "residual": residual, "stratified": stratified, "systematic": systematic}
WEIGHTS = np.array([0.05, 0.3, 0.12, 0.02, 0.26, 0.08, 0.17])


def figure(repeats: int = 400) -> Figure:
    """Left: offspring of seven particles in 60 resamplings each. Right: the noise of a mean against the number of particles."""
    rng = np.random.default_rng(4)
    fig = plt.figure(figsize=(12, 4.6), layout="constrained")
    left, right = fig.subfigures(1, 2, width_ratios=[3, 2])
    axes = left.subplots(1, 4, sharey=True)
    for ax, (name, scheme) in zip(axes, SCHEMES.items()):
        counts = np.array([np.bincount(scheme(WEIGHTS, 20, rng=rng), minlength=7) for _ in range(60)])
        aside, up = rng.uniform(-0.25, 0.25, (2, *counts.shape))
        ax.plot(counts + aside, np.arange(7) + up, ".", color="tab:blue", markersize=3, alpha=0.5)
        ax.plot(20 * WEIGHTS, np.arange(7), "k|", markersize=16, markeredgewidth=1.5)
        ax.set(title=name, xlabel="offspring", xlim=(-0.7, 13))
    axes[0].set(ylabel="particle", yticks=range(7), yticklabels=range(1, 8))
    left.suptitle("Twenty offspring, sixty times; bars: $n w_i$")

    ax, sizes = right.subplots(), np.array([10, 30, 100, 300, 1000])
    for name, scheme in SCHEMES.items():
        noise = []
        for n in sizes:
            values = np.sort(rng.standard_normal(n))
            weights, _ = normalise(values)
            noise.append(np.std([values[scheme(weights, n, rng=rng)].mean() for _ in range(repeats)]))
        ax.loglog(sizes, noise, ".-", label=name)
    ax.loglog(sizes, 0.5 / np.sqrt(sizes), "k:", linewidth=1, label=r"slope $-\frac{1}{2}$")
    ax.set(
        xlabel="particles, sorted",
        ylabel="standard deviation of the mean after",
        title="The noise that resampling adds",
    )
    ax.legend()
    return fig
