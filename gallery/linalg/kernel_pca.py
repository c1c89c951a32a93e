"""Two rings, their first two components by PCA and by kernel PCA with three widths, and digits seen by both."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from mlpath.linalg.kernel_pca import KernelPCA, rbf_kernel
from mlpath.linalg.pca import PCA


def rings() -> tuple[np.ndarray, np.ndarray]:
    """100 points on each of two rings, a little scattered."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 200), np.repeat([1.0, 3.0], 100)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + rng.normal(scale=0.15, size=x.shape), np.repeat([0, 1], 100)


def figure() -> Figure:
    """Above the rings and their scores, below the contours of the components in the plane and 500 digits."""
    fig, axes = plt.subplots(2, 4, figsize=(15, 7.5), layout="constrained")
    x, ring = rings()
    line = np.linspace(-4, 4, 60)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    above, below = axes
    above[0].scatter(*x.T, c=ring, cmap="coolwarm", s=10)
    above[0].set(title="two rings", aspect="equal")
    for ax, under, gamma in zip(above[1:], below[1:3], (0.02, 0.5), strict=False):
        model = KernelPCA(2, kernel=lambda a, b, gamma=gamma: rbf_kernel(a, b, gamma)).fit(x)
        scores = model.transform(x)
        ax.scatter(*scores.T, c=ring, cmap="coolwarm", s=10)
        ax.set(title=rf"their scores, $\gamma = {gamma}$", xlabel="component 1", ylabel="component 2")
        under.contourf(
            line, line, model.transform(grid.reshape(-1, 2))[:, 0].reshape(60, 60), levels=20, cmap="viridis"
        )
        under.scatter(*x.T, c=ring, cmap="coolwarm", s=4)
        under.set(title=rf"component 1 in the plane, $\gamma = {gamma}$", aspect="equal")
    model = KernelPCA(2, kernel=lambda a, b: rbf_kernel(a, b, 50.0)).fit(x)
    above[3].scatter(*model.transform(x).T, c=ring, cmap="coolwarm", s=10)
    above[3].set(title=r"$\gamma = 50$: each sample is alone", xlabel="component 1", ylabel="component 2")

    images, labels = load_digits(return_X_y=True)
    images, labels = images[labels < 5][:500] / 16, labels[labels < 5][:500]
    for ax, scores, title in (
        (below[0], PCA(2).fit(images).transform(images), "digits 0 to 4 by PCA"),
        (
            below[3],
            KernelPCA(2, kernel=lambda a, b: rbf_kernel(a, b, 0.08)).fit(images).transform(images),
            r"and by kernel PCA, $\gamma = 0.08$",
        ),
    ):
        points = ax.scatter(*scores.T, c=labels, cmap="tab10", vmax=9, s=10)
        ax.set(title=title, xlabel="component 1", ylabel="component 2")
        ax.legend(*points.legend_elements(), fontsize="small")
    return fig
