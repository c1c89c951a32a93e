"""Patterns at three couplings, the magnetisation beside Yang's formula, and a digit of which every tenth pixel was flipped."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from sklearn.datasets import load_digits

from mlpath.bayes.gibbs.ising import denoise, sweep, swendsen_wang


def figure(size: int = 64) -> Figure:
    """Above: grids. Middle: magnetisation by clusters, and how slowly sweeps forget. Below: a digit, with noise, denoised."""
    rng = np.random.default_rng(3)
    critical = np.log(1 + np.sqrt(2)) / 2
    fig = plt.figure(figsize=(10, 11), layout=ConstrainedLayoutEngine(h_pad=0.08))
    top, middle, bottom = fig.subfigures(3, 1, height_ratios=[3, 3.2, 3])

    for ax, coupling in zip(top.subplots(1, 3), (0.35, critical, 0.5)):
        spins = rng.choice([-1, 1], (1, size, size))
        for _ in range(80):
            spins = swendsen_wang(spins, coupling=coupling, periodic=True, rng=rng)
        ax.imshow(spins[0], cmap="gray", interpolation="nearest")
        ax.set(title=f"coupling {coupling:.3f}", xticks=[], yticks=[])

    magnet, slow = middle.subplots(1, 2)
    couplings = np.linspace(0.3, 0.6, 13)
    for side, colour in ((8, "tab:green"), (32, "tab:blue")):
        means = []
        for coupling in couplings:
            spins, total = np.ones((12, side, side), dtype=int), []
            for t in range(40):
                spins = swendsen_wang(spins, coupling=coupling, periodic=True, rng=rng)
                if t >= 12:
                    total.append(abs(spins.mean(axis=(1, 2))))
            means.append(np.mean(total))
        magnet.plot(couplings, means, "o", markersize=4, color=colour, label=f"{side} by {side}")
    fine = np.linspace(critical, 0.6, 300)
    exact = np.maximum(1 - np.sinh(2 * fine) ** -4.0, 0) ** 0.125
    magnet.plot(np.r_[0.3, fine], np.r_[0, exact], "k", linewidth=1, label="infinite, by Yang")
    magnet.set(title="mean of |magnetisation|", xlabel="coupling", ylabel="per site")
    magnet.legend()

    for name, step in (("sweep", sweep), ("swendsen_wang", swendsen_wang)):
        spins, path = np.ones((60, 32, 32), dtype=int), [1.0]
        for _ in range(60):
            spins = step(spins, coupling=critical, periodic=True, rng=rng)
            path.append(abs(spins.mean(axis=(1, 2))).mean())
        slow.plot(path, label=name)
    slow.set(
        title="all up at first, at the critical coupling, 32 by 32",
        xlabel="steps",
        ylabel="mean of |magnetisation|, 60 chains",
    )
    slow.legend()

    digit = np.kron(np.where(load_digits().images[3] > 7, 1, -1), np.ones((6, 6), int))
    noisy = np.where(rng.random(digit.shape) < 0.1, -digit, digit)
    clean = denoise(noisy, flip=0.1, coupling=0.7, n_chains=10, n_sweeps=40, rng=rng)
    wrong = np.count_nonzero(noisy != digit), np.count_nonzero((clean > 0.5) != (digit > 0))
    titles = ("the truth", f"seen: {wrong[0]} pixels wrong", f"probable: {wrong[1]} wrong at 1/2")
    for ax, picture, title in zip(bottom.subplots(1, 3), (digit, noisy, 2 * clean - 1), titles):
        ax.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        ax.set(title=title, xticks=[], yticks=[])
    return fig
