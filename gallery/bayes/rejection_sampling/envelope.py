"""An envelope and what it rejects; which scale is best; and what becomes of a good envelope in many dimensions."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.rejection_sampling.envelope import cauchy_bound, laplace, laplace_bound, sample


def normal(x):
    """The standard normal density, with its constant."""
    return -(x**2).sum(axis=1) / 2 - x.shape[1] * math.log(2 * math.pi) / 2


def figure(n_points: int = 1500) -> Figure:
    """Left: points under a Laplace envelope. Middle: the acceptance by scale. Right: tries per draw by dimension."""
    rng = np.random.default_rng(0)
    fig, (points, scales, dims) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    log_bound, proposal = laplace_bound(1, scale=1.0), laplace(1, scale=1.0)
    x = proposal.draw(n_points, rng)
    log_envelope = log_bound + proposal.log_density(x)
    height = np.exp(log_envelope) * rng.random(n_points)
    under = height <= np.exp(normal(x))
    points.plot(x[under, 0], height[under], ".", markersize=3, label=f"accepted: {under.mean():.0%}")
    points.plot(x[~under, 0], height[~under], ".", markersize=3, label="rejected")
    grid = np.linspace(-4, 4, 401)[:, None]
    points.plot(grid, np.exp(log_bound + proposal.log_density(grid)), "k--", linewidth=1, label="$M g$, Laplace")
    points.plot(grid, np.exp(normal(grid)), "k", linewidth=1, label="$f$, normal")
    points.set(xlim=(-4, 4), xlabel="$x$", title="Even under the envelope, even under $f$")
    points.legend(fontsize="small")

    grid = np.geomspace(0.2, 5, 200)
    scales.semilogx(grid, [math.exp(-laplace_bound(1, scale=s)) for s in grid], label="Laplace proposal")
    scales.semilogx(grid, [math.exp(-cauchy_bound(scale=s)) for s in grid], label="Cauchy proposal")
    scales.axvline(math.sqrt(2), color="tab:orange", linestyle=":", label="beyond: touches at $x = 0$ only")
    scales.set(xlabel="scale of the proposal", ylabel="$1 / M$", ylim=(0, 1), title="Acceptance under the best bound")
    scales.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    scales.minorticks_off()
    scales.legend(fontsize="small")

    for scale, colour in ((1.0, "tab:blue"), (0.7, "tab:green")):
        tries = [
            sample(normal, laplace(d, scale=scale), laplace_bound(d, scale=scale), 100, rng=rng).n_tries / 100
            for d in (1, 2, 4, 8, 12)
        ]
        dims.semilogy((1, 2, 4, 8, 12), tries, "o", color=colour, label=f"Laplace, scale {scale}: 100 draws")
        exact = [math.exp(laplace_bound(d, scale=scale)) for d in range(1, 13)]
        dims.semilogy(range(1, 13), exact, color=colour, linewidth=1)
    dims.set(xlabel="dimension", ylabel="tries per draw", title="Lines: $M$, which grows exponentially")
    dims.legend(fontsize="small")
    return fig
