"""The axes of a cloud, and handwritten digits from fewer and fewer of theirs."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from mlpath.linalg.pca import PCA

KEPT = (2, 5, 10, 20)


def figure() -> Figure:
    """Above: a cloud, the same whitened, and the variance explained in the digits. Below: four of the digits again."""
    rng = np.random.default_rng(4)
    cloud = rng.normal(size=(400, 2)) @ np.array([[2.4, 1.3], [-0.4, 0.7]]) + [6.0, 2.0]
    digits = load_digits().data
    fig = plt.figure(figsize=(11, 8), layout="constrained")
    upper, lower = fig.subfigures(2, 1, height_ratios=[1, 1])
    plain, white, explained = upper.subplots(1, 3, width_ratios=[1, 1, 1.2])

    pca = PCA(whiten=True).fit(cloud)
    plain.scatter(*cloud.T, s=6, color="tab:grey", alpha=0.5)
    for axis, variance, colour in zip(pca.components_, pca.explained_variance_, ("tab:red", "tab:blue")):
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        plain.annotate("", xy=pca.mean_ + 2 * variance**0.5 * axis, xytext=pca.mean_, arrowprops=arrow)
    plain.set(aspect="equal", adjustable="datalim", title="Axes, two deviations long", xlabel="$x_1$", ylabel="$x_2$")
    white.scatter(*pca.transform(cloud).T, s=6, color="tab:grey", alpha=0.5)
    white.set(
        aspect="equal", adjustable="datalim", title="Whitened", xlabel="score on axis 1", ylabel="score on axis 2"
    )

    shares = PCA().fit(digits).explained_variance_ratio_
    explained.plot(np.arange(1, len(shares) + 1), shares.cumsum(), color="tab:green")
    for k in KEPT:
        explained.plot(k, shares[:k].sum(), "o", color="tab:green")
        explained.annotate(f"{k} axes: {shares[:k].sum():.0%}", (k + 2, shares[:k].sum() - 0.03))
    explained.set(
        title="Variance explained in 8 x 8 digits", xlabel="axes kept", ylabel="share of the variance", ylim=(0, 1.02)
    )

    grid = lower.subplots(3, len(KEPT) + 1)
    models = [PCA(k).fit(digits) for k in KEPT]
    for row, sample in zip(grid, digits[[3, 14, 35]]):
        pictures = [model.inverse_transform(model.transform(sample[None]))[0] for model in models]
        for picture, ax in zip([*pictures, sample], row):
            ax.imshow(picture.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
            ax.set(xticks=[], yticks=[])
    for ax, k in zip(grid[0], [*KEPT, None]):
        ax.set_title("all 64 pixels" if k is None else f"{k} axes", fontsize=10)
    return fig
