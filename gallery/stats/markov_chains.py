"""A walk that forgets where it began, mixing times between their bounds, ruin, and digits that elimination keeps."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.stats.markov_chains import absorption, mixing_bounds, mixing_time, stationary


def figure() -> Figure:
    """Draw all four."""
    fig, axes = plt.subplots(1, 4, figsize=(19, 4.4), layout="constrained")
    _forgetting(axes[0])
    _mixing(axes[1])
    _ruin(axes[2])
    _digits(axes[3])
    return fig


def _births(n: int, up: float, down: float) -> np.ndarray:
    matrix = np.diag(np.full(n - 1, up), 1) + np.diag(np.full(n - 1, down), -1)
    return matrix + np.diag(1 - matrix.sum(axis=1))


def _forgetting(axes: plt.Axes) -> None:
    matrix = _births(25, 0.3, 0.34)
    for steps, color in ((5, "0.8"), (30, "C1"), (120, "C2"), (500, "C0")):
        axes.plot(np.linalg.matrix_power(matrix, steps)[20], color=color, label=f"after {steps} steps from 20")
    axes.plot(stationary(matrix), "k.", ms=4, label="stationary")
    axes.set(title="Births and deaths", xlabel="state", ylabel="probability", ylim=(0, 0.2))
    axes.legend(fontsize=8)


def _mixing(axes: plt.Axes) -> None:
    sizes = np.array([3, 5, 8, 12, 18, 26, 40, 60])
    times, low, high = [], [], []
    for n in sizes:
        ring = 0.5 * np.eye(n) + 0.25 * (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1))
        times.append(mixing_time(ring))
        bounds = mixing_bounds(ring)
        low.append(bounds[0])
        high.append(bounds[1])
    axes.fill_between(sizes, low, high, color="C0", alpha=0.15, label="bounds (12)")
    axes.loglog(sizes, times, "o-", color="C0", label="mixing time")
    axes.loglog(sizes, sizes**2 / 6.0, ":", color="0.4", label=r"$n^2 / 6$")
    axes.set_xticks([3, 5, 10, 20, 40, 60], labels=["3", "5", "10", "20", "40", "60"])
    axes.minorticks_off()
    axes.set(title="Lazy walks on rings", xlabel="states", ylabel="steps")
    axes.legend(fontsize=8)


def _ruin(axes: plt.Axes) -> None:
    n = 21
    for up, color in ((0.55, "C2"), (0.5, "C0"), (0.45, "C1")):
        matrix = np.diag(np.r_[0, np.full(n - 2, up)], 1) + np.diag(np.r_[np.full(n - 2, 1 - up), 0], -1)
        matrix[0, 0] = matrix[-1, -1] = 1.0
        found = absorption(matrix)
        axes.plot(found.states, found.probabilities[:, 1], color=color, label=f"wins a round with {up}")
    axes.set(title="The gambler's ruin, from 0 to 20", xlabel="begins with", ylabel="probability of reaching 20")
    axes.legend(fontsize=8)


def _digits(axes: plt.Axes) -> None:
    links = 10.0 ** -np.arange(1, 17)
    ours, others = [], []
    for tiny in links:
        matrix = np.zeros((6, 6))
        matrix[:3, :3] = matrix[3:, 3:] = [[0, 0.35, 0.15], [0.2, 0, 0.3], [0.45, 0.05, 0]]
        matrix[0, 4], matrix[5, 1] = tiny, 2 * tiny
        matrix -= np.diag(matrix.sum(axis=1) - 1)
        # the parts are alike, so their shares are as the ways out of them: of 5 to 1 of 0, and of 0 to 4 of 5
        part = stationary(
            np.array([[0, 0.7, 0.3], [0.4, 0, 0.6], [0.9, 0.1, 0]])
        )  # twice as fast, which changes nothing
        share = 2 * part[2] / (2 * part[2] + part[0])  # as tiny goes to 0
        system = matrix.T - np.eye(6)
        system[-1] = 1.0
        ours.append(abs(stationary(matrix)[:3].sum() / share - 1))
        others.append(abs(np.linalg.solve(system, np.eye(6)[-1])[:3].sum() / share - 1))
    axes.loglog(links, np.maximum(others, 1e-17), "o-", color="C3", label="linear system")
    axes.loglog(links, np.maximum(ours, 1e-17), "o-", color="C0", label="elimination without subtraction")
    axes.set(
        title="Two parts that are hardly linked", xlabel="probability of the link", ylabel="distance from the limit"
    )
    axes.legend(fontsize=8)
