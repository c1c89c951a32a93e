"""The graph of a small computation with values, slopes and adjoints; and how exact derivatives are that were not measured."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.calculus.autodiff.scalar import Var, backward, grad, sin, tanh, topological_order


def draw_graph(axes: Axes) -> None:
    """Draw y = sin(x) * (x + w) + w: a place for each value, an arrow with its slope for each parent."""
    x, w = Var(0.8), Var(-1.5)
    s, u = sin(x), x + w
    p = s * u
    y = p + w
    named = {x: "x", w: "w", s: "s = sin x", u: "u = x + w", p: "p = s u", y: "y = p + w"}
    place = {x: (0, 1.6), w: (0, 0), s: (1.1, 2.2), u: (1.1, 1.0), p: (2.3, 1.6), y: (3.4, 0.8)}
    adjoints = backward(y)
    for v in topological_order(y):
        for parent, slope in zip(v.parents, v.slopes):
            (x0, y0), (x1, y1) = place[parent], place[v]
            arrow = {"arrowstyle": "-|>", "color": "0.6", "shrinkA": 38, "shrinkB": 38}
            axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)
            middle, blank = (0.5 * (x0 + x1), 0.5 * (y0 + y1)), {"facecolor": "white", "edgecolor": "none", "pad": 1}
            axes.text(*middle, f"{slope:.2f}", color="0.35", ha="center", va="center", fontsize=9, bbox=blank)
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.3"}
        left, top = place[v]
        axes.text(left, top, f"{named[v]}\n{v.value:.3f}\n", ha="center", va="center", bbox=box, fontsize=10)
        axes.text(left, top, f"\n\n{adjoints[v]:.3f}", ha="center", va="center", color="tab:red", fontsize=10)
    axes.set(xlim=(-0.5, 3.9), ylim=(-0.5, 2.7), title="values (black), slopes (grey), adjoints (red) of y")
    axes.axis("off")


def f(x):
    """A function of Vars, of floats and of arrays."""
    t = tanh(x) if isinstance(x, Var) else np.tanh(x)
    return t * x**2 / (1 + x**2)


def exact(x: float) -> float:
    """The derivative of `f`, by hand."""
    return x**2 / (1 + x**2) / np.cosh(x) ** 2 + np.tanh(x) * 2 * x / (1 + x**2) ** 2


def figure() -> Figure:
    """On the left a graph; on the right the errors of differences against the step, and that of the walk back."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(12.5, 5), layout="constrained")
    draw_graph(left)
    x, steps = 1.3, np.geomspace(1e-14, 0.3, 80)
    for name, measured in {
        "forward difference": (f(x + steps) - f(x)) / steps,
        "central difference": (f(x + steps) - f(x - steps)) / (2 * steps),
    }.items():
        right.loglog(steps, np.maximum(np.abs(measured / exact(x) - 1), 1e-17), ".", label=name)
    error = max(abs(grad(f)(x)[0] / exact(x) - 1), np.finfo(float).eps / 2)
    right.axhline(error, color="tab:red", label="grad(f), which has no step")
    right.set(xlabel="step h", ylabel="relative error", title="The derivative of tanh(x) x² / (1 + x²) at 1.3")
    right.legend()
    right.grid(alpha=0.3)
    return fig
