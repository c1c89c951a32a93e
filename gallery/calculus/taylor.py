"""Contours of a function beside those of its expansions, and how the error of each falls with the step."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.taylor import expansion, measured_order, remainder_bound

A = np.array([0.8, 0.5])


def f(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sin(1.5 * x) * np.exp(y)


def partials(alpha: tuple[int, ...]) -> float:
    """Each derivative by x turns the sine a quarter and brings down a factor; those by y change nothing."""
    k, _ = alpha
    return float(1.5**k * np.sin(1.5 * A[0] + k * np.pi / 2) * np.exp(A[1]))


def figure() -> Figure:
    """Above the function and its expansions of order 1 to 3 around the dot, below their errors along one direction."""
    fig = plt.figure(figsize=(13, 8), layout="constrained")
    above, below = fig.subfigures(2, 1, height_ratios=(1, 1.2))
    line = np.linspace(-1.6, 1.6, 90)
    dx, dy = np.meshgrid(line, line, indexing="ij")
    truth = f(A[0] + dx, A[1] + dy)
    steps = np.stack([dx.ravel(), dy.ravel()], axis=1)
    levels = np.linspace(-6, 8, 29)
    axes = above.subplots(1, 4, sharey=True)
    shown = [truth] + [expansion(partials, k, steps).reshape(dx.shape) for k in (1, 2, 3)]
    for ax, values, title in zip(axes, shown, ("the function", "order 1", "order 2", "order 3"), strict=True):
        ax.contour(A[0] + dx, A[1] + dy, values, levels=levels, cmap="viridis", linewidths=1)
        if values is not truth:
            ax.contourf(A[0] + dx, A[1] + dy, np.abs(values - truth), levels=[0, 0.1], colors=["gold"], alpha=0.4)
        ax.plot(*A, "o", color="crimson")
        ax.set(title=title, xlabel="$x$", aspect="equal")
    axes[0].set_ylabel("$y$")
    above.suptitle(
        r"$\sin(1.5\, x)\, e^y$ and its expansions at the dot; on gold the error is below 0.1", fontsize="medium"
    )

    ax = below.subplots()
    scales = np.logspace(-5, 0.3, 40)
    d = np.array([0.6, 0.8])
    steps = scales[:, None] * d
    for k, colour in zip((0, 1, 2, 3), ("tab:grey", "tab:blue", "tab:orange", "tab:green"), strict=True):
        errors = np.abs(f(*(A + steps).T) - expansion(partials, k, steps))
        small = scales < 0.3
        order = measured_order(scales[small], errors[small], floor=1e-14)
        ax.loglog(
            scales,
            np.maximum(errors, 1e-17),
            "o",
            color=colour,
            markersize=4,
            label=f"order {k}: the slope is {order:.2f}",
        )
        largest = 1.5 ** (k + 1) * np.exp(A[1] + steps[:, 1].max())
        ax.loglog(scales, remainder_bound(largest, k, steps), color=colour, linewidth=0.8)
    ax.axhspan(1e-17, 1e-15, color="lightgrey", label="rounding")
    ax.set(
        xlabel="length of the step",
        ylabel="error",
        title="The errors along one direction (dots) below their bounds (lines)",
    )
    ax.set_ylim(1e-17, 1e2)
    ax.legend()
    return fig
