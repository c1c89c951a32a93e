"""Four chains: in agreement, with one shifted, with one too narrow, with one stuck for a while. What R-hat and ranks see."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.diagnostics.r_hat import classic_r_hat, r_hat, rank_counts


def autoregression(rng, n_chains, n_draws, phi=0.5):
    """Stationary chains of variance 1."""
    x = rng.standard_normal((n_chains, n_draws))
    for t in range(1, n_draws):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * x[:, t]
    return x


def figure(n_draws: int = 1000, n_bins: int = 20) -> Figure:
    """Rows: four cases. Left: traces. Right: rank histograms, each of which should be flat."""
    rng = np.random.default_rng(1)
    agree, shifted, narrow, stuck = (autoregression(rng, 4, n_draws) for _ in range(4))
    shifted[3] += 0.7
    narrow[3] *= 0.4
    stuck[3, n_draws // 4 : n_draws // 2] = stuck[3].max()
    cases = {"in agreement": agree, "one shifted": shifted, "one too narrow": narrow, "one stuck for a while": stuck}
    fig = plt.figure(figsize=(12, 8), layout="constrained")
    axes = fig.subplots(4, 5, width_ratios=[3.2, 1, 1, 1, 1])
    expected = n_draws / n_bins
    for row, (name, draws) in zip(axes, cases.items()):
        for m, chain in enumerate(draws):
            row[0].plot(chain, linewidth=0.4, color=f"C{m}")
        row[0].set(ylabel="$x$", xlim=(0, n_draws))
        row[0].set_title(
            f"{name}: $\\hat R$ = {r_hat(draws):.3f} (classic, unsplit: {classic_r_hat(draws):.3f})", fontsize=10
        )
        top = 1.15 * max(rank_counts(draws, n_bins).max(), 2 * expected)
        for m, ax in enumerate(row[1:]):
            ax.stairs(
                rank_counts(draws, n_bins)[m], np.arange(n_bins + 1) / n_bins, fill=True, color=f"C{m}", alpha=0.7
            )
            ax.axhline(expected, color="k", linewidth=0.8)
            ax.set(xlim=(0, 1), ylim=(0, top), xticks=[0, 1], xticklabels=["low", "high"])
            ax.tick_params(labelsize=8)
            ax.set_title(f"chain {m + 1}", fontsize=10)
            if m:
                ax.set_yticklabels([])
        row[1].set_ylabel("draws")
    axes[-1, 0].set_xlabel("step")
    for ax in axes[-1, 1:]:
        ax.set_xlabel("rank")
    return fig
