"""Four ways to fill a square, and what they do for an integral and for the discrepancy."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.quasi_monte_carlo import directions, halton, l2_star_discrepancy, scramble, sobol


def function(x):
    """A smooth function of four variables, of mean 1."""
    return np.exp(x.sum(axis=1)) / (math.e - 1) ** 4


def figure(n_replicates: int = 20) -> Figure:
    """Above: 256 points of each kind. Below: the error of an integral, and the discrepancy, against their number."""
    rng = np.random.default_rng(0)
    kinds = {
        "random": lambda n, dim: rng.random((n, dim)),
        "Halton": lambda n, dim: halton(n, [2, 3, 5, 7][:dim]),
        "Sobol": lambda n, dim: (sobol(n, directions(dim)) + 0.5) / 2**32,
        "Sobol, scrambled": lambda n, dim: scramble(sobol(n, directions(dim)), rng=rng),
    }
    fig = plt.figure(figsize=(11, 7.5), layout="constrained")
    upper, lower = fig.subfigures(2, 1, height_ratios=[2, 3])
    for ax, (name, points) in zip(np.ravel(upper.subplots(1, 4)), kinds.items()):
        ax.plot(*points(256, 2).T, ".", markersize=3)
        ax.set(title=name, xlim=(0, 1), ylim=(0, 1), xticks=np.arange(0, 1.1, 0.25), yticks=np.arange(0, 1.1, 0.25))
        ax.set_aspect("equal")
        ax.tick_params(labelsize="small")
        ax.grid(linewidth=0.5)
    integral, discrepancy = np.ravel(lower.subplots(1, 2))
    sizes = 2 ** np.arange(3, 13)
    for name, points in kinds.items():
        repeats = 1 if name in ("Halton", "Sobol") else n_replicates
        errors = [math.sqrt(np.mean([(function(points(n, 4)).mean() - 1) ** 2 for _ in range(repeats)])) for n in sizes]
        integral.loglog(sizes, errors, ".-", label=name)
        discrepancy.loglog(sizes[:8], [l2_star_discrepancy(points(n, 2)) for n in sizes[:8]], ".-", label=name)
    for power, style in ((-0.5, "k--"), (-1.5, "k:")):
        integral.plot(sizes, 0.3 * (sizes / 8.0) ** power, style, linewidth=1, label=f"$n^{{{power}}}$")
    integral.set(xlabel="points", ylabel="error (root mean square)", title="A smooth integral in 4 dimensions")
    discrepancy.set(xlabel="points", ylabel="$D_2$", title="Discrepancy in 2 dimensions")
    integral.legend(fontsize="small")
    discrepancy.legend(fontsize="small")
    return fig
