"""What the width of a proposal does; a tail of weights and its Pareto law; leaving one observation out."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.importance_sampling import effective_sample_size, self_normalised, smooth


def figure(n: int = 2000) -> Figure:
    """Left: sizes and shapes by width. Middle: smoothing. Right: leave-one-out predictive densities."""
    rng = np.random.default_rng(0)
    fig, (width, tail, loo) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    scales = np.geomspace(0.35, 3.5, 25)
    shapes, sizes, errors = [], [], []
    z = rng.standard_normal(n)
    for s in scales:
        x = s * z
        log_weights = -(x**2) / 2 + z**2 / 2
        if abs(s - 1) > 0.02:
            shapes.append((s, smooth(log_weights).shape))
        sizes.append(effective_sample_size(log_weights) / n)
        errors.append(abs(self_normalised(log_weights, x**2).value - 1))
    width.semilogx(scales, sizes, label=r"$n_\mathrm{eff} / n$")
    width.plot(*np.array(shapes).T, ".-", label="shape $k$")
    width.plot(scales, errors, "k", linewidth=1, label="error of the variance")
    width.axhline(0.7, color="tab:orange", linestyle=":", label="0.7: no use above")
    width.set_xticks([0.35, 0.5, 1, 2, 3.5], ["0.35", "0.5", "1", "2", "3.5"])
    width.minorticks_off()
    width.set(xlabel="standard deviation of the proposal", title="Target: a standard normal law", ylim=(-0.6, 1.1))
    width.legend(fontsize="small")

    log_weights = (0.6 * z) ** 2 * (1 / 0.36 - 1) / 2
    smoothed, m = smooth(log_weights), int(3 * math.sqrt(n))
    raw = np.sort(log_weights - np.log(np.exp(log_weights).sum()))[::-1][: 2 * m]
    tail.loglog(np.arange(1, 2 * m + 1), np.exp(raw), ".", label="raw")
    new = np.sort(smoothed.log_weights)[::-1][: 2 * m]
    tail.plot(np.arange(1, 2 * m + 1), np.exp(new), linewidth=1.5, label=f"smoothed, $k$ = {smoothed.shape:.2f}")
    tail.axvline(m, color="k", linestyle=":", linewidth=1, label="end of the tail")
    tail.set(xlabel="rank", ylabel="normalised weight", title="The largest weights, width 0.6")
    tail.legend(fontsize="small")

    # Observations N(theta, 1) with a flat prior: the posterior without y_i, and what it predicts for y_i, are known.
    y = np.r_[rng.standard_normal(14), 4.0]
    size = len(y)
    theta = rng.normal(y.mean(), 1 / math.sqrt(size), n)
    exact, found = [], []
    for i in range(size):
        log_likelihood = -((y[i] - theta) ** 2) / 2 - math.log(2 * math.pi) / 2
        weights = smooth(-log_likelihood)
        found.append(math.log(np.exp(weights.log_weights + log_likelihood).sum()))
        others, variance = np.delete(y, i).mean(), 1 + 1 / (size - 1)
        exact.append(-((y[i] - others) ** 2) / variance / 2 - math.log(2 * math.pi * variance) / 2)
    loo.plot(exact, found, "o")
    loo.axline((-1, -1), slope=1, color="k", linewidth=1)
    loo.annotate("an outlier", (exact[-1], found[-1]), (10, -3), textcoords="offset points")
    loo.set(
        xlabel="exact log predictive density", ylabel="by smoothed weights", title="Each of 15 left out, one posterior"
    )
    return fig
