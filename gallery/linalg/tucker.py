"""A photograph by ranks, what it saves beside an SVD of each colour, and the directions of 1,797 digits."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits, load_sample_image

from mlpath.linalg.tucker import (
    choose_ranks,
    compression_ratio,
    hooi,
    hosvd,
    reconstruct,
    relative_error,
    sequential_hosvd,
)

TOLERANCES = (0.3, 0.2, 0.15, 0.1, 0.07, 0.05)


def figure() -> Figure:
    """Above the photograph with three tolerances, below error against compression, sweeps of HOOI and the directions of digits."""
    fig = plt.figure(figsize=(13, 7.5), layout="constrained")
    above, below = np.ravel(np.asarray(fig.subfigures(2, 1, height_ratios=(1, 1.25))))
    photo = load_sample_image("china.jpg")[::2, ::2] / 255.0

    shown = above.subplots(1, 4)
    shown[0].imshow(photo)
    shown[0].set_title(f"{' × '.join(map(str, photo.shape))} numbers")
    for ax, tolerance in zip(shown[1:], (0.1, 0.2, 0.3), strict=True):
        ranks = choose_ranks(photo, tolerance)
        tucker = sequential_hosvd(photo, ranks)
        ax.imshow(reconstruct(tucker).clip(0, 1))
        error, ratio = relative_error(photo, tucker.core), compression_ratio(photo.shape, ranks)
        ax.set_title(
            f"$\\varepsilon = {tolerance}$: ranks {ranks},\nerror {error:.3f}, {ratio:.1f} times less", fontsize=10
        )
    for ax in shown:
        ax.axis("off")

    left, middle, right = below.subplots(1, 3)
    points = []
    for tolerance in TOLERANCES:
        ranks = choose_ranks(photo, tolerance)
        points.append((compression_ratio(photo.shape, ranks), relative_error(photo, hosvd(photo, ranks).core)))
    left.loglog(*np.transpose(points), "o-", color="crimson", label="Tucker, ranks by $\\varepsilon$")
    height, width, _ = photo.shape
    squares = np.linalg.svd(np.moveaxis(photo, 2, 0), compute_uv=False) ** 2
    kept = [5, 8, 12, 20, 30, 45]
    errors = [np.sqrt(squares[:, k:].sum() / squares.sum()) for k in kept]
    ratios = [height * width / (k * (height + width + 1)) for k in kept]
    left.loglog(ratios, errors, "s--", color="grey", label="an SVD for each colour")
    left.set(xlabel="times less numbers", ylabel="relative error", title="What the photograph's ranks buy")
    left.set_xticks(ticks := [2, 5, 10, 20, 40], [str(t) for t in ticks])
    left.minorticks_off()
    left.set_yticks(ticks := [0.05, 0.1, 0.2], [str(t) for t in ticks])
    left.legend()

    digits = np.asarray(load_digits(return_X_y=True)[0]).reshape(-1, 8, 8) / 16
    for ranks in ((10, 3, 3), (20, 4, 4), (40, 5, 5)):
        fit = hooi(digits, ranks, tol=1e-6)
        middle.plot(np.arange(len(fit.errors)), 100 * (1 - fit.errors / fit.errors[0]), "o-", label=f"{ranks}")
    middle.set(xlabel="sweep of HOOI", ylabel="error less than the HOSVD's (%)", title="Digits, 1797 × 8 × 8")
    middle.legend(title="ranks")

    # A pair of directions, one for rows and one for columns, is a picture.
    _, rows, columns = hosvd(digits, (10, 4, 4)).factors
    tiles = np.full((4 * 9 - 1, 4 * 9 - 1), np.nan)
    for i, j in np.ndindex(4, 4):
        tiles[9 * i : 9 * i + 8, 9 * j : 9 * j + 8] = np.outer(rows[:, i], columns[:, j])
    right.imshow(tiles, cmap="RdBu", vmin=-0.4, vmax=0.4)
    right.set(xticks=4 + 9 * np.arange(4), yticks=4 + 9 * np.arange(4), title="Pairs of their first directions")
    right.set(xticklabels=range(1, 5), yticklabels=range(1, 5), xlabel="for columns", ylabel="for rows")
    return fig
