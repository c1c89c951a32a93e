"""How often did the rate of disasters in British coal mines change? Chains of varying dimension, beside the exact answer."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes._targets import coal_counts
from mlpath.bayes.reversible_jump.change_points import Model, exact_posterior, sample


def figure(n_chains: int = 100, steps: int = 600) -> Figure:
    """Above: counts and rates. Below: the number of changes and their places, drawn and exact."""
    years, counts = coal_counts()
    k = np.arange(11)
    log_prior = k * np.log(3.0) - np.cumsum(np.log(np.maximum(k, 1)))  # Poisson with mean 3
    model = Model(counts, 1.0, 1.0, log_prior)
    start = np.zeros((n_chains, len(counts) - 1), dtype=bool)
    run = sample(model, start, steps, rng=np.random.default_rng(0))
    change, rate = run.change[:, steps // 3 :], run.rate[:, steps // 3 :]
    number, place = exact_posterior(model)

    fig = plt.figure(figsize=(11, 8), layout="constrained")
    grid = fig.add_gridspec(2, 2, width_ratios=[2, 3])
    rates, numbers, places = (fig.add_subplot(grid[at]) for at in ((0, slice(None)), (1, 0), (1, 1)))
    rates.bar(years, counts, color="tab:grey", alpha=0.4, label="disasters")
    for chain in range(6):
        name = "last draws of six chains" if chain == 0 else None
        rates.step(years, rate[chain, -1], where="mid", linewidth=0.7, color="tab:orange", label=name)
    rates.plot(years, rate.mean(axis=(0, 1)), "tab:blue", linewidth=2, label="posterior mean of the rate")
    rates.set(xlabel="year", ylabel="a year", title="Disasters in British coal mines, and their rate")
    rates.legend()

    shares = np.bincount(change.sum(axis=2).ravel(), minlength=11) / change[..., 0].size
    numbers.bar(k - 0.2, shares, 0.4, label=f"{n_chains} chains")
    numbers.bar(k + 0.2, number, 0.4, label="exact")
    numbers.set(xlabel="number of changes", ylabel="posterior probability", xticks=k)
    numbers.legend()

    places.bar(years[1:], change.mean(axis=(0, 1)), 1.0, alpha=0.5, label=f"{n_chains} chains")
    places.step(years[1:], place, where="mid", color="tab:orange", linewidth=1.2, label="exact")
    places.set(xlabel="first year of a new rate", ylabel="probability of a change")
    places.legend()
    return fig
