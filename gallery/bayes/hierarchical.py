"""Eight schools: how the effects depend on tau, both forms under a sampler, and partial pooling of many small counties."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes._targets import eight_schools
from mlpath.bayes.hierarchical import (
    Model,
    conditional_moments,
    exact_moments,
    log_marginal,
    log_tau_grid,
    pool,
    run,
)


def figure(n_draws: int = 1000) -> Figure:
    """Above: shrinkage against tau, and its posterior. Below: centred and non-centred draws; pooling of counties."""
    rng = np.random.default_rng(4)
    model = Model(*eight_schools())
    fig = plt.figure(figsize=(12, 8), layout="constrained")
    upper, lower = fig.subfigures(2, 1)
    shrink, bars = upper.subplots(1, 2)
    tau = np.linspace(0.01, 25, 300)
    given = conditional_moments(model, tau)
    names = "ABCDEFGH"
    for j, name in enumerate(names):
        shrink.plot(tau, given.group_means[:, j], color=f"C{j}", linewidth=1.2)
        shrink.text(25.3, given.group_means[-1, j], name, color=f"C{j}", va="center", fontsize=9)
    density = np.exp(log_marginal(model, tau) - log_marginal(model, tau).max())
    shrink.fill_between(tau, -6, -6 + 7 * density, color="0.85", zorder=0, label="posterior density of $\\tau$")
    shrink.set(xlabel="$\\tau$", ylabel="$E[\\theta_j \\mid \\tau, y]$", xlim=(0, 27), ylim=(-6, 24))
    shrink.set_title("The more the schools may differ, the less they are pooled")
    shrink.legend(frameon=False, loc="upper left")
    exact = exact_moments(model, log_tau_grid(model))
    places = np.arange(8)
    bars.errorbar(places - 0.12, model.effects, model.errors, fmt="o", color="0.6", label="estimate and its error")
    bars.errorbar(places + 0.12, exact.mean[2:], exact.sd[2:], fmt="o", color="tab:blue", label="posterior")
    bars.axhline(exact.mean[0], color="tab:blue", linewidth=0.8, linestyle=":", label="posterior mean of $\\mu$")
    bars.set_xticks(places, list(names))
    bars.set(xlabel="school", ylabel="effect of coaching, points", title="Eight schools")
    bars.legend(frameon=False)

    axes = lower.subplots(1, 3)
    for ax, is_centred in zip(axes, (True, False)):
        found = run(model, is_centred=is_centred, rng=rng, n_draws=n_draws, n_warm_up=n_draws // 2)
        flat, astray = found.draws.reshape(-1, 10), found.draws[found.divergent]
        ax.plot(flat[:, 2], flat[:, 1], ".", markersize=1.5, color="tab:blue", alpha=0.5)
        ax.plot(astray[:, 2], astray[:, 1], "x", markersize=4, color="tab:red")
        ax.axhline(exact.mean[1], color="k", linewidth=0.8)
        ax.axhline(flat[:, 1].mean(), color="k", linewidth=0.8, linestyle=":")
        ax.set(xlabel="$\\theta_1$", ylabel="$\\log \\tau$", xlim=(-20, 45), ylim=(-5, 4))
        form = "centred" if is_centred else "non-centred"
        ax.set_title(
            f"{form}: {len(astray)} divergences,\nmean of $\\log \\tau$ {flat[:, 1].mean():.2f}, exact {exact.mean[1]:.2f}",
            fontsize=10,
        )
    truth = rng.normal(1.3, 0.4, 60)
    counts = rng.geometric(0.15, 60)
    groups = np.repeat(np.arange(60), counts)
    values = rng.normal(truth[groups], 0.8)
    found = pool(values, groups, 0.8)
    size = counts * np.exp(rng.uniform(-0.1, 0.1, 60))
    errors = [np.sqrt(np.mean((x - truth) ** 2)) for x in (found.complete, found.none, found.partial)]
    axes[2].semilogx(size, found.none, "o", color="0.6", markersize=4, label=f"none: off by {errors[1]:.2f}")
    axes[2].semilogx(size, found.partial, "o", color="tab:blue", markersize=4, label=f"partial: {errors[2]:.2f}")
    axes[2].vlines(size, found.none, found.partial, color="0.8", linewidth=0.7, zorder=0)
    axes[2].axhline(found.complete[0], color="k", linewidth=0.8, label=f"complete: {errors[0]:.2f}")
    axes[2].set(xlabel="houses measured", ylabel="mean log level of a county")
    axes[2].set_title("60 counties: pooling and root mean square errors", fontsize=10)
    axes[2].legend(frameon=False, fontsize=9)
    return fig
