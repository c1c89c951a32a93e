"""The way to two diagonals and to one: mirrors from both sides, then steps that chase a bulge."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from mlpath.linalg.svd.golub_kahan import Bidiagonal, bidiagonalize, deflate, improve, step, wilkinson_shift

N = 16
EPS = np.finfo(float).eps


def dense(b: Bidiagonal) -> np.ndarray:
    """The bidiagonal matrix with its zeros."""
    return np.diag(b.d) + np.diag(b.e, 1)


def history(b: Bidiagonal, *, shifted: bool) -> list[np.ndarray]:
    """What is above the diagonal, by absolute value, before the first step and after each, until it is all zero."""
    found = []
    while len(found) < 41:
        d, e, start, stop = deflate(b.d, b.e)
        found.append(np.abs(e))
        if start == stop:
            break
        rows = slice(start, stop)
        block = Bidiagonal(b.u[:, rows], d[rows], e[start : stop - 1], b.vt[rows])
        block = improve(block) if shifted else step(block, 0.0)
        d[rows], e[start : stop - 1] = block.d, block.e
        b = Bidiagonal(b.u, d, e, b.vt)
    return found


def figure() -> Figure:
    """Above the entries of a random matrix on its way, below those above the diagonal, step by step, with and without shift."""
    rng = np.random.default_rng(3)
    a = rng.normal(size=(N, N))
    b = bidiagonalize(a)
    fig = plt.figure(figsize=(12, 8), layout="constrained")
    above, below = fig.subfigures(2, 1, height_ratios=(1, 1.3))
    axes = above.subplots(1, 5)
    pictures = [("A", a), ("bidiagonalize(A)", dense(b))]
    walked = b
    for steps in range(1, 7):
        walked = step(walked, wilkinson_shift(walked.d, walked.e))
        if steps in (1, 2, 3):
            pictures.append((f"{steps} step{'s' * (steps > 1)}", dense(walked)))
    for (title, matrix), ax in zip(pictures, axes):
        image = ax.imshow(np.maximum(np.abs(matrix), 1e-20), norm=LogNorm(1e-8, 10), cmap="magma")
        ax.set(xticks=[], yticks=[], title=title)
    above.colorbar(image, ax=axes, label="absolute value", extend="both", shrink=0.8)

    left, right = below.subplots(1, 2, sharey=True)
    for ax, shifted in ((left, True), (right, False)):
        e = np.array(history(b, shifted=shifted))
        for i in range(N - 1):
            line = np.where(e[:, i] > 0, e[:, i], np.nan)
            ax.semilogy(line, color=plt.get_cmap("viridis")(i / (N - 2)), marker=".", markersize=4)
        ax.axhline(EPS, color="grey", linestyle="--")
        ax.text(0, 1.6 * EPS, r"$\varepsilon$", color="grey")
        name = "Wilkinson's shift" if shifted else "shift 0"
        done = f"all zero after {len(e) - 1} steps" if not e[-1].any() else f"the first {len(e) - 1} steps"
        ax.set(xlabel="step", title=f"{name}: {done}", ylim=(1e-17, 20))
    left.set_ylabel(r"$|e_i|$, until it is set to 0")
    scale = plt.cm.ScalarMappable(Normalize(1, N - 1), "viridis")
    below.colorbar(scale, ax=[left, right], label="$i$")
    return fig
