"""A map in the basis that suits it, and how far the rank by pivots may be trusted."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.linalg._shared import hilbert
from mlpath.linalg.subspaces import change_coordinates, change_operator, null_space, rank_nullity

BASIS = np.array([[1.0, -0.6], [0.4, 1.0]])


def draw_grid(ax: Axes, basis: np.ndarray, colour: str) -> None:
    """Draw the lines along which one coordinate in the basis is a whole number, and the two basis vectors."""
    ends = np.array([-5.0, 5.0])
    for k in range(-4, 5):
        for line in (np.array([ends, [k, k]]), np.array([[k, k], ends])):
            ax.plot(*(basis @ line), color=colour, linewidth=0.5, alpha=0.5)
    for vector in basis.T:
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=vector, xytext=(0, 0), arrowprops=arrow)


def figure() -> Figure:
    """Left: one vector in two bases. Middle: a null space and where its cosets go. Right: the rank of Hilbert matrices."""
    fig, (grids, fibres, ranks) = plt.subplots(1, 3, figsize=(14, 4.8), layout="constrained")

    x = np.array([[0.8], [2.0]])
    d = change_coordinates(x, np.eye(2), BASIS)[:, 0]
    # The operator that doubles the first basis vector and halves the second, in standard coordinates.
    a = change_operator(np.diag([2.0, 0.5]), np.linalg.inv(BASIS))
    y = a @ x
    draw_grid(grids, np.eye(2), "tab:grey")
    draw_grid(grids, BASIS, "tab:blue")
    grids.plot(
        *x, "o", color="black", label=f"x = ({x[0, 0]:.1f}, {x[1, 0]:.1f}), in the blue basis ({d[0]:.2f}, {d[1]:.2f})"
    )
    e = change_coordinates(y, np.eye(2), BASIS)[:, 0]
    grids.plot(
        *y,
        "s",
        color="tab:red",
        label=f"A x = ({y[0, 0]:.1f}, {y[1, 0]:.1f}), in the blue basis ({e[0]:.2f}, {e[1]:.2f})",
    )
    b = change_operator(a, BASIS)
    title = f"In the blue basis A is diag({b[0, 0]:.1f}, {b[1, 1]:.1f})"
    grids.set(aspect="equal", xlim=(-1.2, 4), ylim=(-1.2, 4), xlabel="$x_1$", ylabel="$x_2$", title=title)
    grids.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), fontsize=9)

    flat = np.array([[1.0, 2.0], [0.5, 1.0]])
    direction = null_space(flat)[:, 0]
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, 5))
    for value, colour in zip(np.linspace(-1, 1, 5), colours):
        start = value * np.array([0.6, 1.2])
        line = start[:, None] + direction[:, None] * np.array([-3.0, 3.0])
        fibres.plot(*line, color=colour, linewidth=3 if value == 0 else 1.2)
        fibres.plot(*(flat @ start), "o", color=colour, markersize=9)
    ends = flat @ np.array([[-1.0, 1.0], [-2.0, 2.0]])
    fibres.plot(*ends, color="black", linewidth=0.8, linestyle=":", label="column space: all that A reaches")
    fibres.plot([], [], color=colours[2], linewidth=3, label="null space: sent to the origin")
    fibres.plot([], [], color="grey", linewidth=1.2, label="each line is sent to the dot of its colour")
    title = "A matrix of rank 1: lines become points"
    fibres.set(aspect="equal", xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), xlabel="$x_1$", ylabel="$x_2$", title=title)
    fibres.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), fontsize=9)

    sizes = range(2, 26)
    ranks.plot(sizes, sizes, color="black", linestyle=":", label="exact rank")
    for tol, colour in ((None, "tab:blue"), (1e-8, "tab:green"), (1e-4, "tab:orange")):
        found = [rank_nullity(hilbert(n, n), tol)[0] for n in sizes]
        by_svd = [np.linalg.matrix_rank(hilbert(n, n), rtol=tol) for n in sizes]
        name = "default" if tol is None else f"$10^{{{round(np.log10(tol))}}}$"
        ranks.plot(sizes, found, "o-", markersize=4, color=colour, label=f"pivots, tolerance {name}")
        ranks.plot(sizes, by_svd, "--", color=colour, label=f"singular values, {name}")
    ranks.set(xlabel="order $n$ of the Hilbert matrix", ylabel="rank found", title="How many columns are independent?")
    ranks.legend(fontsize=9)
    return fig
