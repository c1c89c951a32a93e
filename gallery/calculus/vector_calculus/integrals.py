"""Work around a whirl, a potential recovered from its gradient, and the two sides of Stokes's theorem."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.vector_calculus.derivatives import curl, jacobians
from mlpath.calculus.vector_calculus.integrals import (
    Curve,
    Surface,
    boundary_circulation,
    grid_potential,
    line_integral,
    surface_flux,
)


def whirl(x: np.ndarray) -> np.ndarray:
    return np.stack([-x[:, 1], x[:, 0]], axis=1) / (x**2).sum(axis=1, keepdims=True)


def loop(a: float, b: float, radius: float, turns: int) -> Curve:
    """A circle around (a, b) that is drawn a little askew when it is run through twice."""
    w = 2 * np.pi * turns

    def point(t: np.ndarray) -> np.ndarray:
        r = radius * (1 + 0.15 * np.sin(2 * np.pi * t))
        return np.stack([a + r * np.cos(w * t), b + r * np.sin(w * t)], axis=1)

    def velocity(t: np.ndarray) -> np.ndarray:
        r, dr = radius * (1 + 0.15 * np.sin(2 * np.pi * t)), radius * 0.3 * np.pi * np.cos(2 * np.pi * t)
        c, s = np.cos(w * t), np.sin(w * t)
        return np.stack([dr * c - r * w * s, dr * s + r * w * c], axis=1)

    return Curve(point, velocity)


BOWL = Surface(
    lambda u, v: np.stack([(1 + u) * np.cos(2 * v), (1 + u) * np.sin(2 * v), u**2 + 0.5 * v], axis=1),
    lambda u, v: np.stack([np.cos(2 * v), np.sin(2 * v), 2 * u], axis=1),
    lambda u, v: np.stack([-2 * (1 + u) * np.sin(2 * v), 2 * (1 + u) * np.cos(2 * v), 0.5 + 0 * u], axis=1),
)


def swirl(x: np.ndarray) -> np.ndarray:
    a, b, c = x.T
    return np.stack([np.sin(a) * b + c**2, a * c - np.exp(0.5 * b), b * c + 0.3 * a**2 * c], axis=1)


def figure() -> Figure:
    """On the left loops and their work, in the middle a potential under its field, on the right errors by the number of nodes."""
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    line = np.linspace(-2.4, 2.4, 18)
    x, y = np.meshgrid(line, line, indexing="ij")
    f = whirl(np.stack([x.ravel(), y.ravel()], axis=1))
    f /= np.maximum(1, np.linalg.norm(f, axis=1, keepdims=True))
    left.quiver(x.ravel(), y.ravel(), *f.T, color="lightgrey", pivot="middle")
    t = np.linspace(0, 1, 300)
    for curve, colour in zip(
        (loop(0.1, 0, 0.8, 1), loop(0, 0, 1.6, 2), loop(1.4, -1.5, 0.7, 1), loop(-0.1, 0.1, 0.45, -1)),
        ("tab:blue", "tab:orange", "tab:green", "tab:red"),
        strict=True,
    ):
        work = line_integral(whirl, curve, n_nodes=200)
        left.plot(*curve.point(t).T, color=colour, label=rf"work ${round(work / np.pi):+d}\,\pi$")
    left.plot(0, 0, "kx")
    left.set(
        aspect="equal",
        title=r"$(-y, x) / (x^2 + y^2)$: the work counts turns around the hole",
        xlabel="$x$",
        ylabel="$y$",
    )
    left.legend(fontsize="small", loc="upper left")

    h = 0.05
    line = h * np.arange(81)
    x, y = np.meshgrid(line, line, indexing="ij")
    gradient = np.stack([np.cos(x) * np.sin(1.5 * y), 1.5 * np.sin(x) * np.cos(1.5 * y)])
    image = middle.contourf(x, y, grid_potential(gradient, (h, h)), levels=20, cmap="viridis")
    few = slice(None, None, 6)
    middle.quiver(x[few, few], y[few, few], gradient[0][few, few], gradient[1][few, few], color="white", pivot="middle")
    middle.set(aspect="equal", title="A potential found from its gradient (arrows)", xlabel="$x$", ylabel="$y$")
    fig.colorbar(image, ax=middle, shrink=0.8)

    truth = boundary_circulation(swirl, BOWL, n_nodes=60)
    counts = np.arange(1, 16)
    edge = [abs(boundary_circulation(swirl, BOWL, n_nodes=int(n)) - truth) for n in counts]
    inside = [abs(surface_flux(lambda p: curl(jacobians(swirl, p)), BOWL, n_nodes=int(n)) - truth) for n in counts]
    right.semilogy(counts, np.maximum(edge, 1e-16), "o-", label="work around the edge of a bowl")
    right.semilogy(counts, np.maximum(inside, 1e-16), "s-", label="flux of the curl, by differences")
    right.set(
        xlabel="nodes for each parameter",
        ylabel=f"difference from {truth:.4f}",
        title="Stokes: both sides converge to one number",
    )
    right.legend()
    return fig
