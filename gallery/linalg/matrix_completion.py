"""A photograph with holes, completed; a film taken apart into the place and what moves; and when that succeeds."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from mlpath.linalg.matrix_completion import largest_penalty, robust_pca, soft_impute_path

FRACTIONS = (0.3, 0.1, 0.05, 0.03, 0.02, 0.012, 0.007, 0.004)


def figure() -> Figure:
    """Above damaged and completed pixels, and the error by penalty; below a frame of a film, its parts, and a map of recoveries."""
    fig = plt.figure(figsize=(13, 7), layout="constrained")
    above, below = fig.subfigures(2, 1)
    rng = np.random.default_rng(0)
    photo = load_sample_image("china.jpg")[::4, ::4].mean(axis=2) / 255

    mask = rng.random(photo.shape) > 0.5
    rows, columns = np.indices(photo.shape)
    mask &= abs((rows + 12 * np.sin(columns / 9)) % 40 - 20) > 1.2  # and scribbled lines
    held_back = mask & (rng.random(photo.shape) < 0.1)
    seen = mask & ~held_back
    mean = photo[seen].mean()
    edge = largest_penalty(photo - mean, seen)
    path = soft_impute_path(photo - mean, seen, [edge * f for f in FRACTIONS], tol=1e-3, max_iterations=60)
    errors = [np.sqrt(np.mean((c.matrix + mean - photo)[held_back] ** 2)) for c in path]
    best = int(np.argmin(errors))
    axes = above.subplots(1, 4)
    for ax, picture, title in (
        (axes[0], np.where(mask, photo, np.nan), f"{1 - mask.mean():.0%} of the pixels are missing"),
        (axes[1], path[best].matrix + mean, f"Completed with {FRACTIONS[best]} $\\lambda_{{max}}$"),
        (axes[2], photo, "The photograph"),
    ):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
        ax.set_facecolor("tab:red")
        ax.set(title=title, xticks=[], yticks=[])
    ranks = [int((c.singular_values > 0).sum()) for c in path]
    axes[3].semilogx(FRACTIONS, errors, "o-", color="crimson")
    for fraction, error, rank in zip(FRACTIONS, errors, ranks, strict=True):
        axes[3].annotate(str(rank), (fraction, error), (0, 7), textcoords="offset points", ha="center", fontsize=8)
    axes[3].set_ylim(0, 1.15 * max(errors))
    axes[3].set(xlabel="$\\lambda / \\lambda_{max}$", title="Error of pixels held back; ranks")

    # 30 frames of a place under changing light, each with a bright and a dark thing on its way.
    place = photo[10:82, 20:140]
    frames = np.array([place * (1 + 0.2 * np.sin(t / 4)) for t in range(30)])
    for t in range(30):
        frames[t, 45:57, 3 * t + 5 : 3 * t + 15] = 1.0
        frames[t, 8 + t : 14 + t, 100 - 3 * t : 106 - 3 * t] = 0.0
    parts = robust_pca(frames.reshape(30, -1).T, tol=1e-4)
    axes = below.subplots(1, 4)
    for ax, picture, limits, title in (
        (axes[0], frames[12].ravel(), (0, 1), "A frame of a film"),
        (axes[1], parts.low_rank[:, 12], (0, 1), "Its low-rank part"),
        (axes[2], parts.sparse[:, 12], (-0.8, 0.8), "Its sparse part"),
    ):
        ax.imshow(picture.reshape(place.shape), cmap="gray", vmin=limits[0], vmax=limits[1])
        ax.set(title=title, xticks=[], yticks=[])

    size, shares, found = 30, np.array([0.02, 0.08, 0.14, 0.2, 0.26, 0.32]), np.zeros((6, 6))
    for i, share in enumerate(shares):
        for rank in range(1, 7):
            low = rng.normal(size=(size, rank)) @ rng.normal(size=(rank, size)) / np.sqrt(rank)
            wrong = np.where(rng.random(low.shape) < share, 5 * rng.choice([-1, 1], size=low.shape), 0)
            got = robust_pca(low + wrong, tol=1e-5, max_iterations=150).low_rank
            found[i, rank - 1] = np.linalg.norm(got - low) / np.linalg.norm(low)
    image = axes[3].pcolormesh(np.arange(1, 7), 100 * shares, np.log10(found), cmap="viridis_r", vmin=-5, vmax=0)
    below.colorbar(image, ax=axes[3], label="error of $L$ (power of ten)")
    axes[3].set(xlabel="rank", ylabel="wrong entries (%)", title="30 × 30, one of each, 150 steps")
    return fig
