"""How correlation slows a sweep down, what it does to the autocorrelation, and when British coal mines became safer."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes._targets import coal_counts
from mlpath.bayes.gibbs.conditionals import log_change_posterior, redraw, sample_change_point, sample_normal


def figure(n_chains: int = 2000) -> Figure:
    """Above: updates coordinate by coordinate, autocorrelation. Below: the coal mines' counts, rates and change."""
    rng = np.random.default_rng(0)
    fig, ((walk, speed), (mines, change)) = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    blocks = [np.array([0]), np.array([1])]

    covariance = np.array([[1.0, 0.95], [0.95, 1.0]])
    precision, mean = np.linalg.inv(covariance), np.zeros(2)
    path = [np.array([[-2.5, -2.5]])]
    for i in range(30):
        path.append(redraw(path[-1], mean, precision, blocks[i % 2], rng=rng))
    angle = np.linspace(0, 2 * np.pi, 200)
    for radius in (1, 2):
        ellipse = radius * np.linalg.cholesky(covariance) @ [np.cos(angle), np.sin(angle)]
        walk.plot(*ellipse, color="tab:grey", linewidth=1)
    walk.plot(*np.concatenate(path).T, ".-", linewidth=0.9)
    walk.set(title="15 sweeps, correlation 0.95", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")

    for rho, colour in ((0.5, "tab:green"), (0.9, "tab:blue"), (0.99, "tab:orange")):
        covariance = np.array([[1.0, rho], [rho, 1.0]])
        start = rng.standard_normal((n_chains, 2)) @ np.linalg.cholesky(covariance).T
        draws = sample_normal(start, mean, np.linalg.inv(covariance), 40, blocks=blocks, rng=rng)[:, :, 0]
        measured = (draws[:, :1] * draws).mean(axis=0) / (draws[:, 0] ** 2).mean()
        speed.plot(measured, ".", color=colour)
        speed.plot(rho ** (2 * np.arange(40)), color=colour, linewidth=1, label=f"correlation {rho:g}")
    speed.set(title="autocorrelation: measured, and $\\rho^2$ a sweep", xlabel="sweeps apart", ylabel="of $x_1$")
    speed.legend()

    years, counts = coal_counts()
    exact = np.exp(log_change_posterior(counts, shape=1.0, rate=1.0))
    start = rng.integers(1, len(counts), n_chains)
    found = sample_change_point(counts, start, 12, shape=1.0, rate=1.0, rng=rng)
    c, rates = found.change[:, -1], found.rates[:, -1]
    mines.bar(years, counts, color="tab:grey", alpha=0.6, width=1)
    before = years[None, :] - years[0] < c[:, None]
    level = np.where(before, rates[:, :1], rates[:, 1:])
    mines.plot(years, level.mean(axis=0), color="tab:red", label="mean of the rate")
    low, high = np.quantile(level, (0.025, 0.975), axis=0)
    mines.fill_between(years, low, high, color="tab:red", alpha=0.25, label="95 % of it")
    mines.set(title="disasters in British coal mines", xlabel="year", ylabel="disasters a year")
    mines.legend()

    show = slice(33, 47)
    last = years[:-1][show]
    change.bar(last, exact[show], color="tab:grey", alpha=0.6, label="exact, by enumeration")
    share = np.bincount(c, minlength=len(counts))[1:][show] / n_chains
    change.plot(last, share, "o", color="tab:red", label=f"{n_chains:,} chains, 12 steps from anywhere")
    change.set(title="last year of the old rate", xlabel="year", ylabel="probability", ylim=(0, 0.33))
    change.legend()
    return fig
