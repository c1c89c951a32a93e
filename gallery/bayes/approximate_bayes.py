"""What a tolerance does, what regression takes back, and the rates of an epidemic in a school."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.approximate_bayes import (
    Model,
    boarding_school,
    keep_nearest,
    outbreak,
    regression_adjust,
    sample,
)

UPPER = np.array([5.0, 2.0])


def school() -> Model:
    """An outbreak among 763 boys, of which one was ill, with flat priors of both rates."""
    return Model(
        lambda n, rng: rng.uniform(0, UPPER, (n, 2)),
        lambda theta: np.where(((theta > 0) & (theta < UPPER)).all(axis=1), 0.0, -np.inf),
        lambda theta, rng: outbreak(theta, n_days=14, n_people=763, rng=rng),
    )


def figure(n: int = 300) -> Figure:
    """Left: a normal parameter, with and without regression. Middle and right: the boarding school of 1978."""
    rng = np.random.default_rng(0)
    fig, (toy, rates, days) = plt.subplots(1, 3, figsize=(13, 4.3), layout="constrained")
    theta = rng.normal(0, 2, (200 * n, 1))
    summaries = rng.normal(theta, 0.5)
    rough = keep_nearest(theta, summaries, np.array([1.5]), 50 * n, scale=np.ones(1))
    adjusted = regression_adjust(rough, np.array([1.5]))
    grid, bins = np.linspace(-1.5, 4.5, 300), np.linspace(-1.5, 4.5, 61)
    toy.hist(rough.theta[:, 0], bins, density=True, histtype="step", label="nearest quarter")
    toy.hist(
        adjusted.theta[:, 0],
        bins,
        weights=adjusted.weights / (bins[1] - bins[0]),
        histtype="step",
        label="adjusted by regression",
    )
    share = 4 / 4.25
    sd = 0.5 * share**0.5
    posterior = np.exp(-(((grid - 1.5 * share) / sd) ** 2) / 2) / np.sqrt(2 * np.pi) / sd
    toy.plot(grid, posterior, "k", linewidth=1, label="the posterior")
    toy.set(title="A normal parameter, a huge tolerance", xlabel=r"$\theta$", ylabel="density", ylim=(0, 1.15))
    toy.legend(fontsize=8)

    tolerances = [900.0, 500.0, 350.0, 250.0, 180.0]
    populations = sample(school(), boarding_school(), n, tolerances=tolerances, scale=np.ones(14), rng=rng)
    for population, tolerance, colour in zip(
        populations[::2], tolerances[::2], ("tab:blue", "tab:orange", "tab:red"), strict=True
    ):
        size = 6 * n * population.weights
        rates.scatter(
            *population.theta.T, s=size, alpha=0.5, color=colour, label=f"tolerance {tolerance:g}", linewidth=0
        )
    rates.set(title="Rates of the outbreak", xlabel=r"infections $\beta$ a day", ylabel=r"recovery $\gamma$ a day")
    rates.set(xlim=(0, UPPER[0]), ylim=(0, 1.5))
    rates.legend(fontsize=8)

    last = populations[-1]
    chosen = last.theta[rng.choice(n, 40, p=last.weights)]
    paths = outbreak(chosen, n_days=14, n_people=763, rng=rng)
    days.plot(np.arange(1, 15), paths.T, color="tab:red", alpha=0.2, linewidth=0.8)
    days.plot(np.arange(1, 15), boarding_school(), "ko", label="boys in bed, 1978")
    days.plot([], [], color="tab:red", label="simulated with the last population")
    days.set(title="What the population predicts", xlabel="day", ylabel="infected", ylim=(0, 560))
    days.legend(fontsize=8)
    return fig
