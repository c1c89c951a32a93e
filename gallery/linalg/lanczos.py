"""Ritz values by step, with ghosts and without; how fast the largest one converges; where orthogonality is lost."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.lanczos import lanczos, lanczos_ritz

VALUES = np.r_[np.linspace(0, 1, 94), 1.15, 1.35, 1.6, 2.0]
STEPS = 60


def figure() -> Figure:
    """On the left the Ritz values of each step; on the right the error of the largest and the loss of orthogonality."""
    a, start = np.diag(VALUES), np.ones(len(VALUES))
    fig, (good_axes, plain_axes, errors) = plt.subplots(
        1, 3, figsize=(14, 5.2), layout="constrained", width_ratios=[1, 1, 1.2]
    )
    runs = {
        "re-orthogonalised": (lanczos(a, start, STEPS), good_axes, "tab:blue"),
        "plain recurrence (4)": (lanczos(a, start, STEPS, reorthogonalize=False), plain_axes, "crimson"),
    }
    for name, (krylov, axes, colour) in runs.items():
        ghosts = 0
        for m in range(1, STEPS + 1):
            ritz = lanczos_ritz(krylov.alpha[:m], krylov.beta[:m])
            done = ritz.residuals < 1e-6
            axes.plot(np.full(m, m)[~done], ritz.values[~done], ".", color="lightgrey", markersize=3)
            axes.plot(np.full(m, m)[done], ritz.values[done], ".", color=colour, markersize=4)
            ghosts = int((np.abs(ritz.values - 2) < 1e-6).sum())
        axes.set_title(f"{name}: at the end\n{ghosts} Ritz {'value' if ghosts == 1 else 'values'} at the eigenvalue 2")
        axes.set(xlabel="step $m$", ylabel="Ritz values (coloured: residual (7) below $10^{-6}$)", ylim=(-0.05, 2.1))

    steps = np.arange(1, STEPS + 1)
    for name, (krylov, _, colour) in runs.items():
        gram = np.abs(krylov.q.T @ krylov.q - np.eye(STEPS + 1))
        loss = [gram[: m + 1, : m + 1].max() for m in steps]
        errors.semilogy(steps, loss, "--", color=colour, label=f"largest $|q_i^\\top q_j|$, {name}")
    krylov = runs["re-orthogonalised"][0]
    error = [2 - lanczos_ritz(krylov.alpha[:m], krylov.beta[:m]).values[-1] for m in steps]
    residual = [lanczos_ritz(krylov.alpha[:m], krylov.beta[:m]).residuals[-1] for m in steps]
    gap = (VALUES[-1] - VALUES[-2]) / (VALUES[-2] - VALUES[0])
    slope = np.sqrt(len(VALUES) - 1) / np.cosh((steps - 1) * np.arccosh(1 + 2 * gap))
    errors.semilogy(steps, np.maximum(error, 1e-17), color="black", label="error of the largest Ritz value")
    errors.semilogy(steps, residual, color="tab:green", label="its residual (7)")
    errors.semilogy(steps, 2 * slope**2, ":", color="black", label="the bound (8)")
    x, power = start / np.linalg.norm(start), []
    for _ in steps:
        power.append(2 - x @ (VALUES * x))
        x = VALUES * x / np.linalg.norm(VALUES * x)
    errors.semilogy(steps, power, color="tab:orange", label="error of power iteration")
    errors.set(xlabel="step $m$", ylim=(1e-17, 30), title="The largest eigenvalue, and the loss of orthogonality")
    errors.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=8)
    return fig
