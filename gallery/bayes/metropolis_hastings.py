"""What the scale of a random walk does, and what the correction of a lopsided proposal is for."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.metropolis_hastings import Move, log_normal_walk, random_walk, sample


def normal(x):
    """Standard normal, in any dimension."""
    return -(x**2).sum(axis=1) / 2


def gamma(x):
    """Gamma of shape 2."""
    x = x[:, 0]
    return np.where(x > 0, np.log(np.where(x > 0, x, 1)) - x, -np.inf)


def uncorrected(position, *, rng):
    """A log-normal walk that claims to be symmetric."""
    return Move(log_normal_walk(position, scale=0.8, rng=rng).position, np.zeros(len(position)))


def figure(steps: int = 1000) -> Figure:
    """Above: traces for three scales. Below: draws with and without correction; acceptance and speed against scale."""
    rng = np.random.default_rng(0)
    fig = plt.figure(figsize=(11, 7), layout="constrained")
    upper, lower = fig.subfigures(2, 1, height_ratios=[2, 3])
    for ax, scale in zip(upper.subplots(1, 3, sharey=True), (0.15, 2.4, 40.0)):
        run = sample(normal, np.array([[3.0]]), 300, propose=partial(random_walk, scale=scale), rng=rng)
        ax.plot(run.draws[0, :, 0], linewidth=0.8)
        ax.axhspan(-2, 2, color="tab:grey", alpha=0.15)
        ax.set(title=f"scale {scale:g}: {run.acceptance_rate[0]:.0%} accepted", xlabel="step")
    upper.axes[0].set_ylabel("$x$; shaded: 95 % of the target")

    histogram, speed = lower.subplots(1, 2)
    for name, propose in (("with its correction", partial(log_normal_walk, scale=0.8)), ("without", uncorrected)):
        draws = sample(gamma, np.full((50, 1), 2.0), steps, propose=propose, rng=rng).draws
        histogram.hist(
            draws.ravel(), np.linspace(0, 8, 60), density=True, histtype="step", label=f"log-normal walk {name}"
        )
    x = np.linspace(0, 8, 200)
    histogram.plot(x, x * np.exp(-x), "k", linewidth=1, label="the target, $x e^{-x}$")
    histogram.plot(x, np.exp(-x), "k:", linewidth=1, label="$e^{-x}$")
    histogram.set(xlabel="$x$", ylabel="density", title="50 chains on positive numbers")
    histogram.legend()

    scales = np.geomspace(0.1, 10, 15)
    for dim, colour in ((1, "tab:blue"), (2, "tab:orange"), (10, "tab:green")):
        start = rng.standard_normal((200, dim))
        runs = [
            sample(normal, start, max(steps // 10, 2), propose=partial(random_walk, scale=s), rng=rng) for s in scales
        ]
        rates = [run.acceptance_rate.mean() for run in runs]
        jumps = [(np.diff(run.draws, axis=1) ** 2).mean() for run in runs]
        speed.semilogx(scales, rates, color=colour, label=f"{dim} dimension{'s' * (dim > 1)}")
        best = int(np.argmax(jumps))
        speed.plot(scales[best], rates[best], "o", color=colour)
    speed.set(
        xlabel="scale",
        ylabel="acceptance rate",
        ylim=(0, 1),
        title="Dots: the scale that moves fastest (mean squared jump)",
    )
    speed.legend()
    return fig
