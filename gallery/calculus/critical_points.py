"""Himmelblau's function: its nine critical points, and which of them each start leads to."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.critical_points import find_critical_points, newton

MARKS = {"minimum": ("o", "tab:blue"), "saddle": ("X", "tab:orange"), "maximum": ("^", "tab:red")}


def height(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def gradient(p):
    x, y = p
    return np.array([4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7), 2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7)])


def hessian(p):
    x, y = p
    return np.array([[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]])


def figure(*, steps: int = 90) -> Figure:
    """On the left level lines with the critical points; on the right the starts, coloured by where Newton's search ends."""
    side = np.linspace(-5, 5, 300)
    starts = np.array([[x, y] for x in np.linspace(-5, 5, 14) for y in np.linspace(-5, 5, 14)])
    found = sorted(find_critical_points(gradient, hessian, starts), key=lambda point: tuple(point.x))
    ends = np.array([point.x for point in found])

    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 5.6), layout="constrained", sharey=True)
    left.contour(side, side, height(*np.meshgrid(side, side)), np.geomspace(1, 900, 18), cmap="Greys", linewidths=0.8)
    grid = np.linspace(-5, 5, steps)
    goes_to = np.full((steps, steps), np.nan)
    for i, y in enumerate(grid):
        for j, x in enumerate(grid):
            search = newton(gradient, hessian, np.array([x, y]))
            if search.converged:
                goes_to[i, j] = np.argmin(np.linalg.norm(ends - search.x, axis=1))
    right.imshow(goes_to, extent=(-5, 5, -5, 5), origin="lower", cmap="tab10", vmin=-0.5, vmax=9.5, alpha=0.75)
    for axes in (left, right):
        for kind, (mark, colour) in MARKS.items():
            places = np.array([point.x for point in found if point.kind == kind]).reshape(-1, 2)
            label = f"{len(places)} {'minima' if kind == 'minimum' else kind + 's' * (len(places) != 1)}"
            axes.scatter(*places.T, marker=mark, s=80, c=colour, edgecolors="white", label=label, zorder=3)
        axes.set(xlabel="$x$", aspect="equal")
    left.set(ylabel="$y$", title="Himmelblau's function")
    right.set_title("Where each start leads to")
    left.legend(loc="lower left")
    return fig
