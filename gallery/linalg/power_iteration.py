"""The error of four iterations by step, beside what the theory predicts."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.power_iteration import (
    convergence_ratio,
    inverse_iteration,
    power_iteration,
    rayleigh_quotient_iteration,
)

VALUES = np.array([10.0, 8.5, 6.0, 4.0, 3.0, 1.0, -0.5, -1.0])
TOL = 1e-15


def figure() -> Figure:
    """On the left the backward error (2) of each method; on the right the ratio (5) by the shift, and the steps it takes."""
    rng = np.random.default_rng(0)
    vectors = np.linalg.qr(rng.normal(size=(len(VALUES), len(VALUES))))[0]
    a = vectors * VALUES @ vectors.T
    # Near enough to the first eigenvector that all four arrive there.
    start = vectors[:, 0] + 0.25 * vectors[:, 1:].sum(axis=1)
    fig, (errors, ratios) = plt.subplots(1, 2, figsize=(11, 5.6), layout="constrained")

    best = (VALUES[1] + VALUES.min()) / 2
    runs = {
        "power": (power_iteration(a, start, tol=TOL), convergence_ratio(VALUES), "tab:blue"),
        f"power, shift {best:g}": (
            power_iteration(a, start, shift=best, tol=TOL),
            convergence_ratio(VALUES, shift=best),
            "tab:green",
        ),
        "inverse, shift 10.5": (
            inverse_iteration(a, start, shift=10.5, tol=TOL),
            convergence_ratio(VALUES, shift=10.5, inverse=True),
            "tab:orange",
        ),
    }
    for name, (pair, ratio, colour) in runs.items():
        steps = np.arange(len(pair.residuals))
        errors.semilogy(steps, pair.residuals, ".", color=colour, label=name)
        middle = len(steps) // 2
        errors.semilogy(
            steps,
            pair.residuals[middle] * ratio ** (steps - middle),
            "--",
            color=colour,
            label=f"slope of $q$ = {ratio:.2f}",
        )
    residuals = rayleigh_quotient_iteration(a, start, tol=TOL).residuals
    errors.semilogy(residuals, "o-", color="crimson", markersize=4, label="Rayleigh quotient: cubic")
    errors.set(xlabel="step", ylabel="backward error (2)", title="Four ways to the eigenvalue 10", xlim=(-1, 100))
    errors.set_ylim(1e-17, 10)
    errors.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)

    shifts = np.linspace(-4, 9, 53)
    farthest = [abs(10 - shift) > abs(VALUES.min() - shift) for shift in shifts]
    for chosen, colour, name in ((True, "tab:green", "to the eigenvalue 10"), (False, "grey", "to the eigenvalue -1")):
        some = [shift for shift, first in zip(shifts, farthest, strict=True) if first == chosen]
        ratios.plot(some, [convergence_ratio(VALUES, shift=shift) for shift in some], color=colour, label=name)
        found = []
        for shift in some:
            residuals = power_iteration(a, start, shift=shift, tol=1e-12).residuals
            found.append((residuals[-1] / residuals[-6]) ** 0.2)
        ratios.plot(some, found, ".", color=colour, label="measured, last five steps")
    ratios.axvline(best, color="grey", linestyle=":")
    ratios.text(best - 0.15, 0.98, f"best for 10: {best:g}", color="grey", va="top", ha="right")
    ratios.set(xlabel=r"shift $\sigma$", ylabel="ratio $q$", title="The ratio (5) of power iteration, by the shift")
    ratios.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return fig
