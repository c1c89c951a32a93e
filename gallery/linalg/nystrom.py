"""Which landmarks are chosen, how the error falls with the number of features, and what that does to a regression."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from mlpath.linalg.kernel_pca import rbf_kernel
from mlpath.linalg.nystrom import (
    fourier_features,
    gram_error,
    greedy_landmarks,
    kernel_ridge,
    nystrom_features,
    random_frequencies,
    ridge,
    spread_landmarks,
)

GAMMA = 0.02
COUNTS = (10, 20, 40, 80, 160, 320)


def radial(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return rbf_kernel(x, y, GAMMA)


def figure() -> Figure:
    """Above landmarks among clumps of different sizes, below errors of the kernels and of predictions for digits."""
    fig = plt.figure(figsize=(12, 8), layout="constrained")
    above, below = fig.subfigures(2, 1, height_ratios=(1, 1.3))
    rng = np.random.default_rng(0)
    centres, sizes = rng.uniform(-4, 4, size=(6, 2)), (400, 100, 50, 20, 10, 5)
    x = np.concatenate([c + 0.35 * rng.normal(size=(n, 2)) for c, n in zip(centres, sizes, strict=True)])
    choices = {
        "at random": rng.choice(len(x), 12, replace=False),
        "spread_landmarks": spread_landmarks(x, 12, rng=rng),
        "greedy_landmarks": greedy_landmarks(x, 12, lambda a, b: rbf_kernel(a, b, 0.5)),
    }
    for ax, (name, chosen) in zip(above.subplots(1, 3, sharey=True), choices.items(), strict=True):
        z = nystrom_features(x, x[chosen], lambda a, b: rbf_kernel(a, b, 0.5))
        error = gram_error(z, x, lambda a, b: rbf_kernel(a, b, 0.5))
        ax.plot(*x.T, ".", color="lightgrey")
        ax.plot(*x[chosen].T, "o", color="crimson", markersize=6)
        ax.set(title=f"12 landmarks {name}: error {error:.3f}", aspect="equal")

    left, right = below.subplots(1, 2)
    images, labels = load_digits(return_X_y=True)
    images, targets = images / 16, np.where(labels % 2 == 0, 1.0, -1.0)
    old, new, y, truth = images[:900], images[900:], targets[:900], targets[900:]
    exact = np.mean(np.sign(radial(new, old) @ kernel_ridge(radial(old, old), y, 0.1)) != truth)
    order = greedy_landmarks(old, COUNTS[-1], radial)
    shuffled = rng.permutation(900)
    curves: dict[str, list[tuple[float, float]]] = {
        "greedy landmarks": [],
        "random landmarks": [],
        "Fourier features": [],
    }
    for m in COUNTS:
        frequencies = random_frequencies(m, 64, GAMMA, rng=rng)
        for name, z in (
            ("greedy landmarks", lambda a, m=m: nystrom_features(a, old[order[:m]], radial)),
            ("random landmarks", lambda a, m=m: nystrom_features(a, old[shuffled[:m]], radial)),
            ("Fourier features", lambda a, frequencies=frequencies: fourier_features(a, *frequencies)),
        ):
            wrong = np.mean(np.sign(z(new) @ ridge(z(old), y, 0.1)) != truth)
            curves[name].append((gram_error(z(old), old, radial), 100 * wrong))
    for name, points in curves.items():
        errors, wrong = np.transpose(points)
        left.loglog(COUNTS, errors, "o-", label=name)
        right.semilogx(COUNTS, wrong, "o-", label=name)
    left.set(xlabel="features", ylabel="relative error", title="Kernels of 900 digits")
    right.axhline(100 * exact, color="grey", linestyle="--", label="exact kernels, 900 unknowns")
    right.set(
        xlabel="features", ylabel="wrong, of 897 new ones (%)", title="Even or odd? Ridge regression on the features"
    )
    right.set_ylim(0)
    for ax in (left, right):
        ax.legend(fontsize="small")
    return fig
