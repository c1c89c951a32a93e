"""A mirror that sends a vector to the first axis, and how orthogonal the Q of four methods is."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from mlpath.linalg._shared import with_singular_values
from mlpath.linalg.householder_qr import form_qr, givens_qr, householder_qr, householder_vector


def gram_schmidt(a: np.ndarray, *, modified: bool) -> np.ndarray:
    """Orthonormal columns by subtracting projections: from the column as it was, or as it has become."""
    q = np.empty_like(a)
    for j, column in enumerate(a.T):
        rest = column.copy()
        for k in range(j):
            rest -= q[:, k] @ (rest if modified else column) * q[:, k]
        q[:, j] = rest / np.sqrt(rest @ rest)
    return q


def figure() -> Figure:
    """Left: x, its mirror and its image, for both signs of alpha. Right: how far Q'Q is from the identity."""
    fig, (plane, loss) = plt.subplots(1, 2, figsize=(12, 5.2), layout="constrained")

    x = np.array([2.0, 1.1])
    v, _, alpha = householder_vector(x)
    length = abs(alpha)
    plane.add_patch(Circle((0, 0), length, fill=False, color="lightgrey"))
    for direction, target, colour, label in (
        (v, alpha, "tab:blue", "the mirror that householder_vector finds"),
        (np.array([-v[1], v[0]]), -alpha, "tab:orange", "the mirror for the other sign"),
    ):
        along = np.array([-direction[1], direction[0]]) / np.sqrt(direction @ direction)
        plane.plot(*np.outer(along, [-2.9, 2.9]), "--", color=colour, label=label)
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        plane.annotate("", xy=(target, 0), xytext=(0, 0), arrowprops=arrow)
        plane.plot([x[0], target], [x[1], 0], ":", color=colour)
        plane.annotate(f"$\\alpha$ = {target:+.2f}", (target, -0.3), color=colour, ha="center")
    black = {"arrowstyle": "-|>", "color": "black", "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    plane.annotate("", xy=tuple(x), xytext=(0, 0), arrowprops=black)
    plane.annotate("$x$", x + [0.08, 0.08])
    plane.set(
        aspect="equal",
        xlim=(-3, 3),
        ylim=(-3.8, 3),
        xlabel="$x_1$",
        ylabel="$x_2$",
        title="Two mirrors send $x$ to the first axis",
    )
    plane.legend(loc="lower center", fontsize=9)

    rng, conditions = np.random.default_rng(0), np.logspace(0, 16, 17)
    methods = {
        "classical Gram-Schmidt": lambda a: gram_schmidt(a, modified=False),
        "modified Gram-Schmidt": lambda a: gram_schmidt(a, modified=True),
        "Givens": lambda a: givens_qr(a).q[:, : a.shape[1]],
        "Householder": lambda a: form_qr(householder_qr(a))[0],
    }
    matrices = [with_singular_values(np.geomspace(1, 1 / condition, 12), 30, rng) for condition in conditions]
    for (name, method), marker in zip(methods.items(), "vsDo"):
        factors = [method(a) for a in matrices]
        gaps = [np.linalg.norm(q.T @ q - np.eye(q.shape[1]), 2) for q in factors]
        loss.loglog(conditions, gaps, marker=marker, markersize=4, label=name)
    loss.set(
        xlabel="condition number of the 30 x 12 matrix",
        ylabel=r"$\Vert Q^\top Q - I \Vert_2$",
        title="What is left of orthogonality",
    )
    loss.legend(fontsize=9)
    loss.grid(alpha=0.3)
    return fig
