"""A population on its way from the prior to a posterior with three islands, and what the ladder of temperatures costs."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.sequential_monte_carlo import Population, rise_once, sample

ISLANDS, WEIGHTS = np.array([[-4.0, -3.0], [4.0, -1.0], [0.0, 5.0]]), np.array([0.2, 0.3, 0.5])
SPREAD, WIDTH = 5.0, 0.35


def log_prior(x):
    """A wide normal distribution."""
    return -(x**2).sum(axis=1) / (2 * SPREAD**2)


def log_likelihood(x):
    """Three narrow peaks, of unequal weight."""
    off = ((x[:, None] - ISLANDS) ** 2).sum(axis=2) / (2 * WIDTH**2)
    return np.logaddexp.reduce(np.log(WEIGHTS) - off, axis=1)


def figure() -> Figure:
    """Above: the population at some temperatures. Below: the ladders, and the evidence, of several runs."""
    rng = np.random.default_rng(4)
    start = SPREAD * rng.standard_normal((1000, 2))
    fig, axes = plt.subplots(2, 4, figsize=(13, 7), layout="constrained")

    population, temperature, seen = Population(start, log_prior(start), log_likelihood(start)), 0.0, []
    while True:
        seen.append((temperature, population.position))
        if temperature == 1:
            break
        population, temperature, _, _ = rise_once(
            log_prior, log_likelihood, population, temperature, ess_share=0.5, n_moves=3, rng=rng
        )
    for ax, i in zip(axes[0], np.linspace(0, len(seen) - 1, 4).round().astype(int), strict=True):
        ax.plot(*seen[i][1].T, ".", markersize=2)
        ax.plot(*ISLANDS.T, "r+", markersize=9)
        ax.set(title=f"temperature {seen[i][0]:.2g}", xlim=(-13, 13), ylim=(-13, 13), aspect="equal")

    ladder, rates, evidence, islands = axes[1]
    for share, colour in ((0.3, "tab:blue"), (0.5, "tab:orange"), (0.9, "tab:green")):
        run = sample(log_prior, log_likelihood, start, ess_share=share, n_moves=3, rng=rng)
        ladder.semilogy(
            np.arange(1, len(run.temperatures)),
            run.temperatures[1:],
            ".-",
            color=colour,
            label=f"{share:g} stay effective",
        )
        rates.plot(run.temperatures[1:], run.acceptance_rate, ".-", color=colour)
    ladder.set(title="the ladders", xlabel="rise", ylabel="temperature")
    ladder.legend(fontsize=8)
    rates.set(title="moves that are accepted", xlabel="temperature", xscale="log", ylim=(0, 1))

    # The evidence, up to the constant of the prior that was left out, which stays out on both sides.
    variance = SPREAD**2 + WIDTH**2
    parts = WEIGHTS * np.exp(-(ISLANDS**2).sum(axis=1) / (2 * variance)) * WIDTH**2 / variance
    found, shares = [], []
    for _ in range(30):
        run = sample(log_prior, log_likelihood, SPREAD * rng.standard_normal((1000, 2)), n_moves=3, rng=rng)
        found.append(run.log_evidence)
        nearest = ((run.population.position[:, None] - ISLANDS) ** 2).sum(axis=2).argmin(axis=1)
        shares.append(np.bincount(nearest, minlength=3) / len(nearest))
    evidence.hist(found, bins=12, color="tab:blue", alpha=0.7)
    evidence.axvline(np.log(parts.sum()), color="k", label="exact")
    evidence.set(title="log evidence of 30 runs")
    evidence.legend(fontsize=8)
    islands.boxplot(np.array(shares), positions=[1, 2, 3])
    islands.plot([1, 2, 3], parts / parts.sum(), "k_", markersize=24, label="exact")
    islands.set(title="share of each island, 30 runs", ylim=(0, 1))
    islands.legend(fontsize=8)
    return fig
