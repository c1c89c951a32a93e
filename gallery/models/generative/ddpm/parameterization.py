"""How errors in noise, image and velocity compare over time, and what the min-SNR weights make of it."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mlpath.models.generative.ddpm.forward import cosine, snr
from mlpath.models.generative.ddpm.parameterization import min_snr_weight, to_clean


def figure() -> Figure:
    """Left, the error in the image that an error of 0.1 in each kind implies; middle and right, weights (5)."""
    schedule = cosine(1000)
    t = torch.arange(1, 1001)
    ratio = snr(schedule)[1:]
    zero = torch.zeros(1000, 1, 1, 1, dtype=torch.float64)

    fig = plt.figure(figsize=(11, 3.6), layout="constrained")
    errors, weights, meant = fig.subplots(1, 3)
    for kind in ("noise", "clean", "velocity"):
        error = abs(to_clean(zero + 0.1, kind, zero, t, schedule)).flatten()
        errors.semilogy(t, error, label=kind)
        weights.plot(t, min_snr_weight(kind, ratio), label=kind)
    errors.set(title="error in the image\nfrom an error of 0.1 in the prediction", ylim=(1e-4, 1e2), xlabel="step t")
    errors.legend(title="prediction")
    weights.set(
        title="min-SNR weight, $\\gamma = 5$,\nof the error as predicted",
        xlabel="step t",
        ylabel="weight",
        ylim=(0, 5.3),
    )
    for gamma in (1.0, 5.0, 20.0, float("inf")):
        label = "no cut" if gamma == float("inf") else f"$\\gamma$ = {gamma:g}"
        meant.semilogy(t, min_snr_weight("clean", ratio, gamma=gamma), label=label)
    meant.set(title="weight of the error\nin units of the image", xlabel="step t", ylabel="weight", ylim=(1e-4, 1e5))
    meant.legend()
    return fig
