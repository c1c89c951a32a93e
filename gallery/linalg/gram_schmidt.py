"""How much orthogonality each method loses, by the condition of the matrix and between which columns."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mlpath.linalg._shared import with_singular_values
from mlpath.linalg.gram_schmidt import (
    classical_gram_schmidt,
    compare_losses,
    modified_gram_schmidt,
    reorthogonalised_gram_schmidt,
)

SHAPE = (60, 20)
EPS = float(np.finfo(float).eps)
METHODS = {
    "classical": (classical_gram_schmidt, "crimson", "o", r"$\varepsilon\,\kappa^2$"),
    "modified": (modified_gram_schmidt, "tab:blue", "s", r"$\varepsilon\,\kappa$"),
    "reorthogonalised": (reorthogonalised_gram_schmidt, "tab:green", "^", r"$\varepsilon$"),
}


def stretched(condition, rng):
    """A matrix whose singular values fall evenly, in decades, to 1 / condition."""
    return with_singular_values(np.geomspace(1, 1 / condition, SHAPE[1]), SHAPE[0], rng)


def figure() -> Figure:
    """Above the loss (7) by condition, beside the lines of (8); below the entries of Q'Q - I for one matrix."""
    rng = np.random.default_rng(0)
    fig, axes = plt.subplot_mosaic(
        [["losses"] * 3, list(METHODS)], figsize=(11, 8.5), layout="constrained", height_ratios=(1.2, 1)
    )

    losses = axes["losses"]
    compared = compare_losses([stretched(condition, rng) for condition in np.geomspace(2, 1e13, 40)])
    kappa = np.geomspace(1, 1e13, 100)
    for power, (name, (_, colour, marker, line)) in zip((2, 1, 0), METHODS.items(), strict=True):
        losses.loglog(compared.conditions, getattr(compared, name), marker, color=colour, markersize=5, label=name)
        theory = EPS * kappa**power
        losses.loglog(kappa[theory < 1], theory[theory < 1], "--", color=colour, linewidth=1, label=line)
    losses.axhline(1, color="grey", linestyle=":")
    losses.text(1, 1.6, "nothing is left of it", color="grey", va="bottom")
    losses.set(
        xlabel=r"condition number $\kappa$",
        ylabel=r"loss $\Vert I - Q^\top Q \Vert_2$",
        title=f"Orthogonality lost, {SHAPE[0]} x {SHAPE[1]} matrices (dashed: (8) with $c = 1$)",
        xlim=(0.7, 2e13),
        ylim=(5e-17, 100),
    )
    losses.legend(loc="lower right", ncols=3, bbox_to_anchor=(1, 0.12))

    a = stretched(1e6, rng)
    for name, (method, *_) in METHODS.items():
        q, _ = method(a)
        # Exact zeros are drawn as the least that the scale shows.
        entries = np.maximum(np.abs(q.T @ q - np.eye(SHAPE[1])), 1e-18)
        image = axes[name].imshow(entries, norm=LogNorm(1e-17, 1), cmap="magma")
        title = rf"{name}, $\kappa = 10^6$"
        axes[name].set(title=title, xlabel="column $j$", xticks=range(0, SHAPE[1], 5), yticks=range(0, SHAPE[1], 5))
        if name == "reorthogonalised":
            fig.colorbar(image, ax=axes[name], label=r"$|q_i^\top q_j - \delta_{ij}|$")
    axes["classical"].set_ylabel("column $i$")
    return fig
