"""The singular values of a badly scaled matrix, found in four ways, beside the truth."""

import matplotlib.pyplot as plt
import mpmath
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.svd.one_sided_jacobi import by_eigenvalues, svd, sweep

EPS = np.finfo(float).eps
N_COLS, DECADES = 16, 20


def true_values(a: np.ndarray) -> np.ndarray:
    """The singular values by mpmath, with 60 digits."""
    with mpmath.workdps(60):
        return np.array([float(value) for value in mpmath.svd_r(mpmath.matrix(a.tolist()), compute_uv=False)])


def figure() -> Figure:
    """On the left the cosines between all columns after each sweep, on the right relative errors by size."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(24, N_COLS)) * 10.0 ** -rng.permutation(np.linspace(0, DECADES, N_COLS))
    fig = plt.figure(figsize=(13, 5.2), layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=(1, 1.5))

    g, v, pairs = a, np.eye(N_COLS), np.triu_indices(N_COLS, 1)
    for sweeps in range(6):
        unit = g / np.sqrt((g**2).sum(axis=0))
        cosines = np.sort(np.abs(unit.T @ unit)[pairs])[::-1]
        colour = plt.get_cmap("viridis")(sweeps / 6)
        left.semilogy(np.maximum(cosines, 1e-20), color=colour, label=f"{sweeps} sweep{'s' * (sweeps != 1)}")
        g, v, _ = sweep(g, v)
    left.axhline(len(a) * EPS, color="grey", linestyle="--")
    left.text(len(pairs[0]), 1.5 * len(a) * EPS, r"$m\,\varepsilon$", color="grey", ha="right", va="bottom")
    left.set(
        xlabel="pairs of columns, sorted",
        ylabel="cosine between the two, by absolute value",
        ylim=(1e-27, 3),
        title="Columns become orthogonal",
    )
    left.legend(loc="lower left", ncols=2)

    exact = true_values(a)
    for name, values, marker, colour in (
        (r"eigenvalues of $A^\top A$", by_eigenvalues(a, "gram"), "v", "tab:purple"),
        ("eigenvalues of the dilation", by_eigenvalues(a, "dilation"), "s", "tab:orange"),
        ("numpy.linalg.svd, by LAPACK", np.linalg.svd(a, compute_uv=False), "x", "crimson"),
        ("svd, by one-sided Jacobi", svd(a).s, "o", "tab:blue"),
    ):
        error = np.maximum(np.abs(values / exact - 1), EPS / 8)
        right.loglog(exact, error, marker, color=colour, label=name, fillstyle="none", markersize=8)
    right.loglog(exact, EPS * exact[0] / exact, ":", color="crimson", label=r"$\varepsilon\, \sigma_1 / \sigma$")
    right.loglog(
        exact, EPS * (exact[0] / exact) ** 2, ":", color="tab:purple", label=r"$\varepsilon\, (\sigma_1 / \sigma)^2$"
    )
    right.axhline(1, color="grey", linewidth=0.8)
    right.text(exact[0], 2, "not one digit is right", color="grey", ha="right", va="bottom")
    right.set(
        xlabel=r"singular value $\sigma$, by mpmath",
        ylabel="relative error",
        ylim=(EPS / 20, 1e14),
        title=r"Singular values of $B D$, with $D$ from 1 to $10^{-20}$",
    )
    right.legend(loc="upper right")
    return fig
