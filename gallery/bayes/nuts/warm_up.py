"""A warm-up, window by window: step size, steps of a tree, and the scales that it finds; and where a funnel diverges."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes import _targets as targets
from mlpath.bayes.nuts.warm_up import sample, warm_up, windows


def figure(n_draws: int = 800) -> Figure:
    """Above: step size and steps through a warm-up. Below: the scales learned; divergences of a funnel, and what is missed."""
    rng = np.random.default_rng(3)
    fig, ((sizes, steps), (scales_ax, funnel_ax)) = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    scales = np.geomspace(0.1, 3.0, 30)
    target = targets.normal(np.zeros(30), np.diag(scales**2))
    n = 600
    warm = warm_up(target.log_density, target.gradient, np.full(30, 5.0), n, inverse_mass=np.ones(30), rng=rng)
    sizes.semilogy(warm.step_size, linewidth=0.9)
    sizes.axhline(warm.system.step_size, color="tab:red", linewidth=1, label="the average, used afterwards")
    sizes.set(title="step size of each transition", xlabel="transition")
    sizes.legend(loc="lower right")
    steps.semilogy(warm.record.n_steps, ".", markersize=4)
    steps.set(title="gradients of each transition", xlabel="transition")
    for ax in (sizes, steps):
        for i, (start, end) in enumerate(windows(n)):
            ax.axvspan(start, end, color="tab:grey", alpha=0.15 + 0.15 * (i % 2))

    for start, end in windows(n):
        found = warm.record.draws[start:end].std(axis=0)
        scales_ax.loglog(scales, found, ".-", linewidth=0.7, alpha=0.8, label=f"draws {start} to {end}")
    scales_ax.loglog(scales, scales, "k", linewidth=1, label="exact")
    scales_ax.set(title="standard deviations found in each window", xlabel="exact", ylabel="found")
    scales_ax.legend()

    funnel = targets.funnel(10, 3.0)
    run = sample(funnel.log_density, funnel.gradient, funnel.exact(rng, 2), n_draws, n_warm_up=300, rng=rng)
    neck, other, divergent = run.draws[:, :, 0].ravel(), run.draws[:, :, 1].ravel(), run.divergent.ravel()
    exact = funnel.exact(rng, len(neck))
    funnel_ax.plot(exact[:, 1], exact[:, 0], ".", color="tab:grey", markersize=3, alpha=0.5, label="exact draws")
    funnel_ax.plot(other, neck, ".", color="tab:blue", markersize=3, label="draws")
    funnel_ax.plot(
        other[divergent], neck[divergent], "x", color="tab:red", label=f"after one of {divergent.sum()} divergences"
    )
    funnel_ax.set(title="a funnel in 10 dimensions", xlabel="$x_2$", ylabel="$x_1$", xlim=(-25, 25))
    funnel_ax.legend(loc="lower right")
    return fig
