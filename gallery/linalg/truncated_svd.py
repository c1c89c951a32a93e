"""A photograph made of ever more patterns, its energy, and where noise ends."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from mlpath.linalg.truncated_svd import compress_image, denoise, explained_energy, optimal_threshold

RANKS = (2, 8, 32)


def figure() -> Figure:
    """Above the photograph and three approximations; below its energy, and the singular values of a noisy copy."""
    photograph = load_sample_image("china.jpg")[::2, ::2] / 255.0
    fig = plt.figure(figsize=(13, 7), layout="constrained")
    grid = fig.add_gridspec(2, 12, height_ratios=[1, 1.15])
    pictures = [fig.add_subplot(grid[0, 3 * i : 3 * i + 3]) for i in range(4)]
    pictures[0].imshow(photograph)
    pictures[0].set_title(f"{photograph.shape[0]} × {photograph.shape[1]} pixels")
    for axes, rank in zip(pictures[1:], RANKS):
        small = compress_image(photograph, rank)
        axes.imshow(small.image)
        axes.set_title(f"$k = {rank}$: {small.ratio:.1f} times fewer numbers")
    for axes in pictures:
        axes.set_axis_off()

    energy, spectrum = fig.add_subplot(grid[1, :6]), fig.add_subplot(grid[1, 6:])
    for i, colour in enumerate(("red", "green", "blue")):
        missing = 1 - explained_energy(np.linalg.svd(photograph[:, :, i], compute_uv=False))
        energy.semilogy(np.arange(1, len(missing)), missing[:-1], color=colour, label=colour)
    for rank in RANKS:
        energy.axvline(rank, color="grey", linestyle=":")
    energy.set(xlabel="patterns $k$", ylabel="$1 - e_k$", title="Energy that is missing", ylim=(1e-6, 1), xlim=(0, 200))
    energy.legend()

    noise = 0.1
    grey = photograph.mean(axis=2)
    noisy = grey + noise * np.random.default_rng(0).normal(size=grey.shape)
    s = np.linalg.svd(noisy, compute_uv=False)
    longer, shorter = max(grey.shape), min(grey.shape)
    spectrum.semilogy(np.linalg.svd(grey, compute_uv=False), label="photograph", color="tab:green")
    spectrum.semilogy(s, label=f"with noise of {noise}", color="tab:blue")
    spectrum.axhline(
        noise * (np.sqrt(longer) + np.sqrt(shorter)), color="grey", linestyle="--", label="where noise alone ends"
    )
    told = optimal_threshold(s, grey.shape)
    kept = len(denoise(noisy).s)
    spectrum.axhline(told, color="tab:red", linestyle="--", label=f"threshold (7): {kept} patterns are kept")
    spectrum.set(
        xlabel="index", ylabel="singular value", title="What is worth keeping of a noisy copy", ylim=(0.02, 300)
    )
    spectrum.legend()
    return fig
