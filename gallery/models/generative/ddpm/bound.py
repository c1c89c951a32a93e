"""What each step costs in bits, and how often a trainer should therefore draw it."""

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mlpath.models.generative._diffusion import train
from mlpath.models.generative._shared import digits
from mlpath.models.generative.ddpm.bound import History, record, step_probabilities, variational_bound
from mlpath.models.generative.ddpm.posterior import reverse_variance


def figure(*, steps: int = 300) -> Figure:
    """Terms of the bound of a network trained for `steps` on the digits, on held-out ones; right, equation (7) of them."""
    images, held_out, *_ = digits()
    generator = torch.Generator().manual_seed(0)
    trained = train(images, steps=steps, n_steps=100, generator=generator)
    clean = 2 * held_out[:200] - 1
    fig = plt.figure(figsize=(10, 4), layout="constrained")
    left, right = fig.subplots(1, 2)
    history = History.empty(100)
    for share, label in [(1.0, r"variance $\beta_t$"), (0.0, r"variance $\tilde\beta_t$")]:
        variance = reverse_variance(trained.schedule, share=share).clone()
        variance[1] = variance[2] if share == 0 else variance[1]
        terms = variational_bound(
            trained.denoiser, clean, trained.schedule, variance=variance, n_levels=17, generator=generator
        )
        left.semilogy(
            range(1, 101), terms.mean(dim=0)[:-1], ".-", ms=3, label=f"{label}: {terms.sum(1).mean():.2f} bits in all"
        )
        if share == 0:
            for row in terms[:10]:
                history = record(history, torch.arange(1, 101), row[:-1])
    left.set(
        xlabel="step t",
        ylabel="$L_{t-1}$, bits per pixel",
        title=f"terms of the bound on held-out digits,\nafter {steps} steps of training",
    )
    left.axhline(
        math.log2(17) / 100, color="0.6", lw=0.8, ls="--", label="17 equally likely levels, shared among 100 steps"
    )
    left.legend(fontsize=8)
    right.plot(range(1, 101), step_probabilities(history)[1:], label="by equation (7), from ten losses a step")
    right.axhline(0.01, color="0.6", lw=0.8, ls="--", label="uniform")
    right.set(
        xlabel="step t",
        ylabel="probability",
        title="how often to draw each step,\naccording to these terms",
        ylim=(0, None),
    )
    right.legend(fontsize=8)
    return fig
