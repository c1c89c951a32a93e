"""Eigenvalues of a random and of a sensitive matrix beside NumPy's, and what is left beside the diagonal by step."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mlpath.linalg.qr_algorithm.general import deflate, double_shift, eigenvalues, francis_step, hessenberg

N_ROWS = 60
FLOOR = 1e-20


def grcar(n: int) -> np.ndarray:
    """-1 below the diagonal, 1 on it and on three diagonals above: all eigenvalues are sensitive."""
    return sum((np.eye(n, k=k) for k in range(4)), -np.eye(n, k=-1))


def draw_eigenvalues(ax: Axes, a: np.ndarray, title: str) -> None:
    ours, numpys = eigenvalues(a).values, np.linalg.eigvals(a)
    ax.plot(ours.real, ours.imag, "o", color="tab:blue", fillstyle="none", label="eigenvalues")
    ax.plot(np.real(numpys), np.imag(numpys), "x", color="crimson", markersize=4, label="numpy.linalg.eigvals")
    ax.axhline(0, color="grey", linewidth=0.6)
    ax.set(xlabel="real part", ylabel="imaginary part", title=title, aspect="equal")


def entries_by_step(h: np.ndarray) -> np.ndarray:
    """The absolute values beside the diagonal before each step and after the last; blocks of two rows are left alone."""
    history, q, count, last = [], np.eye(len(h)), 0, 0
    while True:
        history.append(np.abs(np.diagonal(h, -1)))
        h = deflate(h)
        ends = np.append(np.flatnonzero(np.diagonal(h, -1) == 0) + 1, len(h))
        blocks = [(int(i), int(j)) for i, j in zip(np.append(0, ends[:-1]), ends) if j - i > 2]
        if not blocks:
            return np.array(history)
        start, stop = blocks[-1]
        count, last = count + 1 if stop == last else 0, stop
        h, q = francis_step(h, q, (start, stop), *double_shift(h[start:stop, start:stop], count))


def figure() -> Figure:
    """On the left a random matrix, in the middle Grcar's, on the right |h| beside the diagonal by step, for 16 rows."""
    rng = np.random.default_rng(3)
    fig, axes = plt.subplots(1, 3, figsize=(15, 5), layout="constrained")
    draw_eigenvalues(
        axes[0],
        rng.normal(size=(N_ROWS, N_ROWS)) / np.sqrt(N_ROWS),
        f"Random, {N_ROWS} × {N_ROWS}, divided by $\\sqrt{{n}}$",
    )
    angle = np.linspace(0, 2 * np.pi, 200)
    axes[0].plot(np.cos(angle), np.sin(angle), "--", color="grey", linewidth=0.8, label="the circular law")
    draw_eigenvalues(axes[1], grcar(N_ROWS), f"Grcar's matrix, {N_ROWS} × {N_ROWS}: all are sensitive")
    axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=3, fontsize=8)
    history = entries_by_step(hessenberg(rng.normal(size=(16, 16))).h)
    image = axes[2].imshow(np.maximum(history.T, FLOOR), norm=LogNorm(1e-17, 1), cmap="magma", aspect="auto")
    axes[2].set(xlabel="double steps", ylabel="$i$", yticks=range(15))
    axes[2].set_title("$|h_{i+1,i}|$ of a random 16 × 16 matrix")
    fig.colorbar(image, ax=axes[2], label="$|h_{i+1,i}|$", extend="both")
    return fig
