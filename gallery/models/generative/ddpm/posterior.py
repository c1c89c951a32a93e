"""Walks from noise back to data, with a denoiser that is known exactly: two heaps of points on a line."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from mlpath.models.generative.ddpm.forward import cosine
from mlpath.models.generative.ddpm.posterior import reverse_variance, sample

CENTRES, WIDTH = torch.tensor([-1.0, 1.0]), 0.15


def figure() -> Figure:
    """Paths of single pixels beside the density of the data; below, the guesses that steered them."""
    schedule = cosine(200)
    states, guesses = [], []

    def denoiser(noisy, t):
        kept = schedule.alpha_bar[t[0]].item()
        variance = kept * WIDTH**2 + 1 - kept
        away = noisy - kept**0.5 * CENTRES  # from each heap's centre, as it looks at time t
        belongs = (-(away**2) / (2 * variance)).softmax(dim=3)
        guess = CENTRES + WIDTH**2 * kept**0.5 / variance * away
        states.append(noisy[:, 0, 0, 0])
        guesses.append((belongs * guess).sum(dim=3, keepdim=True)[:, 0, 0, 0])
        return (belongs * guess).sum(dim=3, keepdim=True)

    generator = torch.Generator().manual_seed(4)
    shape = (2000, 1, 1, 1)
    final = sample(denoiser, shape, schedule, variance=reverse_variance(schedule, share=1.0), generator=generator)
    path = torch.stack([*states, final[:, 0, 0, 0]]).numpy()
    guess = torch.stack(guesses).numpy()
    times = np.arange(schedule.n_steps, -1, -1)

    fig = plt.figure(figsize=(9, 5.5), layout="constrained")
    (left, density), (below, empty) = fig.subplots(2, 2, width_ratios=[3, 1], sharey="row", sharex="col")
    shown = range(14)
    left.plot(times, path[:, shown], lw=0.8)
    left.set(ylabel="state $x_t$", title="14 walks back: noise on the left, data on the right", xlim=(200, 0))
    density.hist(path[-1], bins=60, density=True, orientation="horizontal", color="0.7", label="2,000 samples")
    grid = np.linspace(-3, 3, 400)
    heaps = np.exp(-((grid[:, None] - CENTRES.numpy()) ** 2) / (2 * WIDTH**2)) / (WIDTH * np.sqrt(2 * np.pi))
    density.plot(heaps.mean(axis=1), grid, "k", lw=1, label="data")
    density.set(xlabel="density", xticks=[])
    density.legend(fontsize=8, loc="upper right")
    below.plot(times[:-1], guess[:, shown], lw=0.8)
    below.set(xlabel="time t", ylabel=r"guess $\hat x_0$", title="each guess is a mean; it commits itself as t falls")
    empty.axis("off")
    return fig
