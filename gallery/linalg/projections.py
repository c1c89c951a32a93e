"""Shadows in the plane, straight down and along a slant, a mirror image, and what the formula with an inverse loses."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.linalg._shared import lauchli
from mlpath.linalg.projections import oblique_projector, project, projector, reflect, smallest_angle

LINE = np.array([[2.0], [0.7]])
LIGHT = np.array([[1.0], [-1.4]])


def _line(axes: Axes, direction: np.ndarray, name: str, **style) -> None:
    ends = np.outer([-10, 10], direction)
    axes.plot(*ends.T, label=name, **style)


def _losses(epsilons: np.ndarray) -> tuple[list[float], list[float]]:
    """Return how far both formulas for the projector are from being their own square, for Läuchli's matrices."""
    by_inverse, by_basis = [], []
    for epsilon in epsilons:
        a = lauchli(3, epsilon)
        try:
            naive = a @ np.linalg.inv(a.T @ a) @ a.T
            by_inverse.append(float(np.abs(naive @ naive - naive).max()))
        except np.linalg.LinAlgError:
            by_inverse.append(np.nan)
        p = projector(a)
        by_basis.append(float(np.abs(p @ p - p).max()))
    return by_inverse, by_basis


def figure() -> Figure:
    """Left: three images of one point. Middle: the norm of oblique projectors. Right: Läuchli's matrices."""
    fig, (shadows, norms, digits) = plt.subplots(1, 3, figsize=(15, 5), layout="constrained")

    x = np.array([0.6, 2.2])
    slanted = oblique_projector(LINE, LIGHT) @ x
    _line(shadows, LINE[:, 0], "the subspace", color="black", linewidth=1)
    _line(shadows, LIGHT[:, 0], "the slant", color="C1", linewidth=1, linestyle=":")
    images = {
        "straight down": (project(x, LINE), "C0"),
        "along the slant": (slanted, "C1"),
        "mirror": (reflect(x, LINE), "C2"),
    }
    for name, (image, colour) in images.items():
        shadows.plot(*np.array([x, image]).T, color=colour, linestyle="--", linewidth=1)
        shadows.plot(*image, "o", color=colour, label=name)
    shadows.plot(*x, "o", color="C3", markersize=8)
    shadows.annotate("$x$", x, (8, 4), textcoords="offset points", color="C3")
    shadows.set(aspect="equal", xlim=(-1.6, 3.4), ylim=(-1.7, 3.3), xlabel="$x_1$", ylabel="$x_2$")
    shadows.set_title("Two shadows and a mirror image of $x$")
    shadows.legend(loc="upper right")

    angles = np.geomspace(1e-3, np.pi / 2, 60)
    pairs = [(np.array([[1.0], [0.0]]), np.array([[np.cos(t)], [np.sin(t)]])) for t in angles]
    found = [float(np.linalg.svd(oblique_projector(*pair), compute_uv=False)[0]) for pair in pairs]
    norms.loglog([smallest_angle(*pair) for pair in pairs], found, ".", color="C1", label="oblique projectors")
    norms.loglog(angles, 1 / np.sin(angles), color="grey", linestyle=":", label=r"$1 / \sin\theta$, equation (10)")
    norms.set(xlabel=r"smallest angle $\theta$ in radians", ylabel=r"$\Vert P\Vert_2$")
    norms.set_title("The flatter the light, the longer the shadow")
    norms.legend()

    epsilons = np.geomspace(1e-10, 1, 61)
    by_inverse, by_basis = _losses(epsilons)
    digits.loglog(epsilons, np.maximum(by_inverse, 1e-17), ".", color="C3", label=r"$A (A^T A)^{-1} A^T$, equation (2)")
    digits.loglog(epsilons, np.maximum(by_basis, 1e-17), ".", color="C2", label=r"$Q Q^T$, equation (3)")
    digits.set(xlabel=r"$\varepsilon$ of Läuchli's matrix", ylabel=r"largest entry of $|P^2 - P|$")
    digits.set_title("Is it its own square?")
    digits.legend()
    return fig
