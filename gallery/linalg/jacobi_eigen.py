"""What is left off the diagonal after each sweep, and the small eigenvalues of a graded matrix beside those of LAPACK."""

import matplotlib.pyplot as plt
import mpmath
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mlpath.linalg.jacobi_eigen import jacobi_eigen, off_diagonal_norm, sweep

N_SWEEPS = 5
EPS = np.finfo(float).eps


def graded(n: int, decades: float, rng: np.random.Generator) -> np.ndarray:
    """D B D with a well conditioned B, and D from 1 to 10^-decades in a random order."""
    g = rng.normal(size=(n, n))
    d = 10.0 ** -rng.permutation(np.linspace(0, decades, n))
    a = (g @ g.T / n + 2 * np.eye(n)) * d * d[:, None]
    return (a + a.T) / 2


def figure() -> Figure:
    """Above the entries of a random matrix after each sweep, below the relative errors of eigenvalues by their size.

    The eigenvalues that errors are measured from are computed with 40 digits.
    """
    rng = np.random.default_rng(0)
    fig = plt.figure(figsize=(12, 8), layout="constrained")
    above, below = fig.subfigures(2, 1, height_ratios=(1, 1.5))
    axes = above.subplots(1, N_SWEEPS + 1)
    a, v = rng.normal(size=(14, 14)), np.eye(14)
    a = (a + a.T) / 2
    for sweeps, ax in enumerate(axes):
        image = ax.imshow(np.maximum(np.abs(a), 1e-20), norm=LogNorm(1e-16, 1), cmap="magma")
        ax.set(xticks=[], yticks=[], title=f"{sweeps} sweep{'s' * (sweeps != 1)}")
        ax.set_xlabel(f"off = {off_diagonal_norm(a):.1e}")
        a, v = sweep(a, v)
    above.colorbar(image, ax=axes, label=r"$|a_{ij}|$", extend="both", shrink=0.8)

    ax = below.subplots()
    a = graded(20, 12, rng)
    with mpmath.workdps(40):
        exact = np.sort(np.array(mpmath.eigsy(mpmath.matrix(a.tolist()), eigvals_only=True), dtype=float).ravel())
    for name, values, marker, colour in (
        ("numpy.linalg.eigvalsh", np.linalg.eigvalsh(a), "x", "crimson"),
        ("jacobi_eigen, the absolute criterion", jacobi_eigen(a, relative=False).values, "s", "tab:orange"),
        ("jacobi_eigen, criterion (8)", jacobi_eigen(a).values, "o", "tab:blue"),
    ):
        error = np.maximum(np.abs(values / exact - 1), EPS / 20)
        ax.loglog(exact, error, marker, color=colour, label=name, fillstyle="none", markersize=8)
    ax.loglog(exact, EPS * exact[-1] / exact, ":", color="crimson", label=r"$\varepsilon\, \lambda_{\max} / \lambda$")
    ax.axhline(EPS, color="grey", linestyle="--", label=r"$\varepsilon$")
    ax.axhline(1, color="grey", linewidth=0.8)
    ax.text(exact[-1], 2, "not one digit is right, nor perhaps the sign", color="grey", ha="right", va="bottom")
    ax.set(
        xlabel=r"eigenvalue $\lambda$",
        ylabel="relative error",
        title=r"The eigenvalues of a graded positive definite matrix, $D$ from 1 to $10^{-12}$",
    )
    ax.set_ylim(EPS / 40, 1e12)
    ax.legend(loc="upper right")
    return fig
