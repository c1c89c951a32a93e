"""Digits that turn into noise, and how fast two schedules let them."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mlpath.models.generative._shared import digits
from mlpath.models.generative.ddpm.forward import cosine, diffuse, linear, snr


def figure() -> Figure:
    """A digit at nine times under each schedule; below, what is left of it and its signal-to-noise ratio."""
    schedules = {"linear": linear(1000), "cosine": cosine(1000)}
    times = torch.tensor([0, 50, 100, 200, 300, 450, 600, 800, 1000])
    digit = digits()[0][3:4].mul(2).sub(1).expand(len(times), -1, -1, -1)
    noise = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)).expand_as(digit)

    fig = plt.figure(figsize=(9, 5.6), layout="constrained")
    strips, curves = fig.subfigures(2, 1, height_ratios=[1, 1.3])
    axes = strips.subplots(2, len(times))
    for row, (name, schedule) in zip(axes, schedules.items()):
        for ax, image in zip(row, diffuse(digit, times, noise, schedule)):
            ax.imshow(image[0], cmap="gray", vmin=-2, vmax=2)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    for ax, t in zip(axes[0], times):
        ax.set_title(f"t = {t}", fontsize=9)
    left, right = curves.subplots(1, 2)
    for name, schedule in schedules.items():
        left.plot(schedule.alpha_bar, label=name)
        right.semilogy(range(1, 1001), snr(schedule)[1:])
    left.set(xlabel="step t", ylabel=r"$\bar\alpha_t$", title="share of the image's variance that is left")
    left.legend()
    right.axhspan(0.1, 10, color="0.9", zorder=0)
    right.text(990, 4.5, "within a factor of 10", fontsize=8, color="0.4", ha="right")
    right.set(xlabel="step t", ylabel="snr(t)", ylim=(1e-5, 1e5), title="signal-to-noise ratio")
    return fig
