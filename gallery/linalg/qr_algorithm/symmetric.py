"""What is left beside the diagonal after each QR step, for three shifts, and where the matrix falls into blocks."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mlpath.linalg.qr_algorithm.symmetric import active_block, deflate, qr_step, tridiagonalize, wilkinson_shift

N_ROWS = 12
FLOOR = 1e-20


def entries_by_step(d: np.ndarray, e: np.ndarray, n_steps: int) -> np.ndarray:
    """The absolute values of e before each step of the algorithm, and after the last; zeros once deflated."""
    d, history = d.copy(), [np.abs(e)]
    e = deflate(d, e)
    for _ in range(n_steps):
        start, stop = active_block(e)
        if not stop:
            break
        shift = wilkinson_shift(d[stop - 2], e[stop - 2], d[stop - 1])
        d[start:stop], e[start : stop - 1], _, _ = qr_step(d[start:stop], e[start : stop - 1], shift)
        history.append(np.abs(e))
        e = deflate(d, e)
    return np.array(history)


def last_entry_by_step(d: np.ndarray, e: np.ndarray, shift_of, n_steps: int) -> np.ndarray:
    """The last entry of e before each step with some shift, until there is nothing to be seen of it any more."""
    history = [abs(e[-1])]
    while len(history) <= n_steps and history[-1] > FLOOR:
        d, e, _, _ = qr_step(d, e, shift_of(d, e))
        history.append(abs(e[-1]))
    return np.array(history)


def figure() -> Figure:
    """On the left |e| by step for a random matrix, on the right its last entry for three choices of the shift."""
    a = np.random.default_rng(7).normal(size=(N_ROWS, N_ROWS))
    start = tridiagonalize((a + a.T) / 2)
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained", width_ratios=(1.25, 1))

    history = entries_by_step(start.d, start.e, 30 * N_ROWS)
    image = left.imshow(np.maximum(history.T, FLOOR), norm=LogNorm(1e-17, 1), cmap="magma", aspect="auto")
    left.set(
        xlabel="QR steps",
        ylabel="$i$",
        yticks=range(N_ROWS - 1),
        title=f"$|e_i|$ of a random {N_ROWS} × {N_ROWS} matrix",
    )
    fig.colorbar(image, ax=left, label=r"$|e_i|$", extend="both")

    shifts = {
        "no shift": (lambda d, e: 0.0, "o", "grey"),
        "$d_{n-1}$": (lambda d, e: float(d[-1]), "s", "tab:orange"),
        "Wilkinson's shift": (lambda d, e: wilkinson_shift(d[-2], e[-1], d[-1]), "D", "tab:blue"),
    }
    for name, (shift_of, marker, colour) in shifts.items():
        entries = last_entry_by_step(start.d, start.e, shift_of, 40)
        right.semilogy(np.maximum(entries, FLOOR), marker, linestyle="-", color=colour, label=name, markersize=4)
    eps = np.finfo(float).eps
    right.axhline(eps, color="black", linestyle="--", linewidth=0.8, label=r"$\varepsilon$")
    right.set(xlabel="QR steps", ylabel="$|e_{n-2}|$", title="The last entry beside the diagonal", ylim=(FLOOR / 3, 10))
    right.legend()
    return fig
