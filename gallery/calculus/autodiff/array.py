"""The graph of a network with the shapes of its values, and how well gradients fit differences, operation by operation."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.calculus.autodiff.array import (
    Variable,
    check_gradient,
    concatenate,
    exp,
    log,
    log_sum_exp,
    record,
    relu,
    tanh,
    value_and_grad,
)

OPERATIONS: dict[str, tuple[Callable[..., Variable], int]] = {
    "a + b, b a row": (lambda a, b: a + b[0], 2),
    "a * b, b a column": (lambda a, b: a * b[:, :1], 2),
    "a / exp(b)": (lambda a, b: a / exp(b), 2),
    "a ** 3": (lambda a: a**3, 1),
    "log(1 + a²)": (lambda a: log(1 + a * a), 1),
    "tanh(a)": (tanh, 1),
    "relu(a)": (relu, 1),
    "a @ b.T": (lambda a, b: a @ b.T, 2),
    "stack of a @ b.T": (lambda a, b: a.reshape(2, 2, 5) @ b.T, 2),
    "a.sum(0)": (lambda a: a.sum(0), 1),
    "a.mean(1)": (lambda a: a.mean(1), 1),
    "a.max(1)": (lambda a: a.max(1), 1),
    "a[[0, 2, 2]]": (lambda a: a[[0, 2, 2]], 1),
    "concatenate": (lambda a, b: concatenate([a, b], 1), 2),
    "log_sum_exp(a, 1)": (lambda a: log_sum_exp(a, 1), 1),
    "a² without\nits factor 2": (lambda a: record(a.value**2, (a, lambda g: g * a.value)), 1),
}


def draw_network(axes: Axes) -> None:
    """Draw the loss of a network on one batch as a column of values, with the norms of their gradients."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(32, 8)), rng.integers(3, size=32)
    shapes = {"w": (8, 16), "b": (16,), "v": (16, 3), "c": (3,)}
    start = [rng.normal(size=shape) / np.sqrt(shape[0]) for shape in shapes.values()]
    heights = {"x w + b": 0, "relu": 1, "h v + c": 2, "log_sum_exp": 3, "mean": 4}
    shown = {"x w + b": (32, 16), "relu": (32, 16), "h v + c": (32, 3), "log_sum_exp": (32,), "mean": ()}

    def loss(w: Variable, b: Variable, v: Variable, c: Variable) -> Variable:
        z = relu(x @ w + b) @ v + c
        return (log_sum_exp(z, axis=1) - z[np.arange(32), labels]).mean()

    value, gradients = value_and_grad(loss)(*start)
    box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.3"}
    arrow = {"arrowstyle": "-|>", "color": "0.6", "shrinkA": 16, "shrinkB": 16}
    for name, height in heights.items():
        text = f"{name}\n{shown[name]}" if name != "mean" else f"mean: loss {value:.2f}\n()"
        axes.text(1, height, text, ha="center", va="center", bbox=box)
        if height:
            axes.annotate("", (1, height), (1, height - 1), arrowprops=arrow)
    for (name, shape), gradient, height in zip(shapes.items(), gradients, (-0.3, 0.3, 1.7, 2.3)):
        text = f"{name} {shape}: gradient of norm {np.linalg.norm(gradient):.3f}"
        axes.text(1.75, height, text, va="center", color="tab:red")
        axes.annotate("", (1.3, round(height)), (1.73, height), arrowprops=arrow | {"shrinkA": 0, "shrinkB": 6})
    axes.text(0.3, 0, "images\n(32, 8)", ha="center", va="center", color="0.4")
    axes.text(0.3, 3.5, "labels\n(32,)", ha="center", va="center", color="0.4")
    for y0, y1 in ((0, 0), (3.5, 3)):
        axes.annotate("", (0.68, y1), (0.42, y0), arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0})
    axes.set(xlim=(0, 3.2), ylim=(-0.7, 4.6), title="A network: shapes on the way forward, gradients of parameters")
    axes.axis("off")


def figure() -> Figure:
    """On the left a network; on the right the mismatch of each operation's gradients, one of them wrong."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(13, 5.5), layout="constrained")
    draw_network(left)
    rng = np.random.default_rng(1)
    mismatches = []
    for f, n_arrays in OPERATIONS.values():
        found = [check_gradient(f, *rng.normal(size=(n_arrays, 4, 5)), rng=rng) for _ in range(5)]
        mismatches.append(max(*found, 1e-16))
    colours = ["tab:red" if mismatch > 1e-6 else "tab:blue" for mismatch in mismatches]
    right.barh(list(OPERATIONS), mismatches, color=colours)
    right.invert_yaxis()
    right.set_xscale("log")
    right.set(xlim=(1e-13, 1), xlabel="largest mismatch with differences along 50 random directions")
    right.set_title("check_gradient: one of these rules is wrong")
    right.grid(axis="x", alpha=0.3)
    return fig
