"""A hull that learns: three stages of it, and how few evaluations many draws need."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.rejection_sampling.adaptive import bounds, sample, upper_hull


def log_gamma(x):
    """The logarithm of a gamma variable of shape 1.5, and its derivative."""
    return 1.5 * x - np.exp(x), 1.5 - np.exp(x)


def figure(n_draws: int = 10_000) -> Figure:
    """Left: the hull at the start and with 4 and with 12 tangents. Right: evaluations against draws."""
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    start, grid = np.array([-2.0, 1.5]), np.linspace(-5, 3, 801)
    height = log_gamma(grid)[0]
    hulls = [("start: 2 tangents", upper_hull(start, *log_gamma(start)))]
    for max_points in (4, 12):
        rng = np.random.default_rng(3)
        hull = sample(log_gamma, start, n_draws, max_points=max_points, rng=rng).hull
        hulls.append((f"{len(hull.x)} tangents", hull))
    for (name, hull), colour in zip(hulls, ("tab:red", "tab:orange", "tab:blue")):
        upper, lower = bounds(hull, grid)
        left.plot(grid, upper, color=colour, linewidth=1, label=name)
        left.plot(grid, lower, ":", color=colour, linewidth=1)
        left.plot(hull.x, hull.height, ".", color=colour)
        middle.plot(grid, np.exp(upper), color=colour, linewidth=1, label=name)
    left.plot(grid, height, "k", linewidth=1, label="$h$")
    left.set(
        xlim=(-5, 3), ylim=(-10, 3), xlabel="$x$", ylabel="log density", title="Tangents above, chords (dotted) below"
    )
    left.legend(fontsize="small", loc="lower center")
    middle.plot(grid, np.exp(height), "k", linewidth=1, label="$f$")
    middle.set(xlabel="$x$", ylabel="density", ylim=(0, 2), title="The envelope, piecewise exponential")
    middle.legend(fontsize="small", loc="upper left")

    counts = np.unique(np.geomspace(1, n_draws, 12).astype(int))
    for max_points in (10, 30, 100):
        runs = [
            np.mean(
                [
                    sample(log_gamma, start, int(n), max_points=max_points, rng=np.random.default_rng(i)).n_evaluations
                    for i in range(5)
                ]
            )
            for n in counts
        ]
        right.loglog(counts, runs, ".-", label=f"up to {max_points} tangents")
    right.loglog(counts, counts, "k:", linewidth=1, label="one for each draw")
    right.set(xlabel="draws", ylabel="evaluations, start included", title="What many draws cost")
    right.legend(fontsize="small")
    return fig
