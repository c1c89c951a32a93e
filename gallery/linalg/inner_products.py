"""What a weight does to lengths and right angles in the plane, and how many digits the two formulas for an angle keep."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.linalg.inner_products import angle, inner_product, orthogonal_projection, weighted_norm

WEIGHT = np.array([[2.0, 1.2], [1.2, 1.4]])


def _ellipse(radius: float) -> np.ndarray:
    """Return the vectors whose length under the weight is `radius`, one a row."""
    turns = np.linspace(0, 2 * np.pi, 361)
    directions = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    return radius * directions / np.array([[weighted_norm(direction, WEIGHT)] for direction in directions])


def _arrow(axes: Axes, tip: np.ndarray, name: str, colour: str) -> None:
    axes.annotate(
        "", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0, "lw": 2}
    )
    axes.annotate(name, 1.12 * tip, ha="center", va="center", color=colour)


def figure() -> Figure:
    """Left: a unit circle and a right angle under a weight. Middle: a projection. Right: errors of small angles."""
    fig, (circle, nearest, digits) = plt.subplots(1, 3, figsize=(15, 5), layout="constrained")

    x = np.array([1.0, 0.2])
    y = np.array([-inner_product(x, np.array([0.0, 1.0]), WEIGHT), inner_product(x, np.array([1.0, 0.0]), WEIGHT)])
    x, y = x / weighted_norm(x, WEIGHT), y / weighted_norm(y, WEIGHT)
    turns = np.linspace(0, 2 * np.pi, 361)
    circle.plot(np.cos(turns), np.sin(turns), color="grey", linestyle=":", label="length 1 without a weight")
    circle.plot(*_ellipse(1).T, color="C0", label="length 1 under the weight")
    _arrow(circle, x, "$x$", "C1")
    _arrow(circle, y, "$y$", "C1")
    seen, meant = np.degrees(angle(x, y)), np.degrees(angle(x, y, WEIGHT))
    circle.set(aspect="equal", xlim=(-1.7, 1.7), ylim=(-1.7, 2.1), xlabel="$x_1$", ylabel="$x_2$")
    circle.set_title(f"The angle of $x$ and $y$: {meant:.0f}° under the weight,\n{seen:.0f}° on paper")
    circle.legend(loc="upper right")

    line, point = np.array([1.0, 0.35]), np.array([0.4, 1.6])
    ends = np.outer([-2.2, 2.2], line)
    nearest.plot(*ends.T, color="black", linewidth=1)
    for weight, name, colour in ((None, "without a weight", "grey"), (WEIGHT, "under the weight", "C0")):
        foot = orthogonal_projection(point, line[None], weight)
        distance = weighted_norm(point - foot, weight)
        rim = _ellipse(distance) if weight is not None else distance * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        nearest.plot(*(point + rim).T, color=colour, linestyle=":" if weight is None else "-")
        nearest.plot(*np.array([point, foot]).T, color=colour, marker="o", label=f"nearest {name}")
    nearest.plot(*point, color="C1", marker="o", markersize=8)
    nearest.annotate("$x$", point, (8, 8), textcoords="offset points", color="C1")
    nearest.set(aspect="equal", xlim=(-2.2, 2.4), ylim=(-1.2, 3.8), xlabel="$x_1$", ylabel="$x_2$")
    nearest.set_title("The smallest circle around $x$ that\ntouches the line touches it at $p$")
    nearest.legend(loc="upper left")

    angles = np.geomspace(1e-14, 1, 200)
    pairs = [(np.array([1.7, 0.0]), np.array([0.6, 0.6 * np.tan(t)])) for t in angles]
    with np.errstate(invalid="ignore"):
        cosines = [inner_product(a, b) / (weighted_norm(a) * weighted_norm(b)) for a, b in pairs]
        by_cosine = np.abs(np.arccos(np.minimum(cosines, 1)) - angles)
    by_tangent = np.abs([angle(a, b) for a, b in pairs] - angles)
    floor = 1e-32  # where the error is 0
    digits.loglog(angles, np.maximum(by_cosine, floor), ".", color="C3", markersize=4, label="arc cosine, equation (4)")
    digits.loglog(
        angles, np.maximum(by_tangent, floor), ".", color="C2", markersize=4, label="arc tangent, equation (10)"
    )
    digits.loglog(angles, angles, color="grey", linestyle=":", label="as large as the angle")
    digits.set(ylim=(1e-30, 10), xlabel="angle in radians", ylabel="error in radians", title="Small angles")
    digits.legend(loc="upper left")
    return fig
