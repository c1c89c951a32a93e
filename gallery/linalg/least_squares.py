"""What the three solvers lose as the condition grows, for a good fit and for a bad one."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.least_squares import solve_normal_equations, solve_qr, solve_svd

EPS = float(np.finfo(float).eps)
N_ROWS, N_COLS = 40, 8


def problem(condition: float, tangent: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A matrix of this condition, its solution, and a right-hand side at this angle from the span of its columns."""
    u = np.linalg.qr(rng.normal(size=(N_ROWS, N_COLS + 1)))[0]
    v = np.linalg.qr(rng.normal(size=(N_COLS, N_COLS)))[0]
    a = u[:, :N_COLS] * np.geomspace(1, 1 / condition, N_COLS) @ v.T
    x = v @ rng.choice([-1.0, 1.0], N_COLS)
    explained = a @ x
    return a, x, explained + tangent * np.sqrt(explained @ explained) * u[:, N_COLS]


def error(solve, a: np.ndarray, b: np.ndarray, x: np.ndarray) -> float:
    """The relative error of a solver's solution; NaN where it refuses."""
    try:
        gap = solve(a, b) - x
    except np.linalg.LinAlgError:
        return np.nan
    return float(np.sqrt((gap @ gap) / (x @ x)))


def figure() -> Figure:
    """Error against condition number: each dot is the median of nine random problems."""
    fig, axes = plt.subplots(1, 2, figsize=(12, 5.2), sharey=True, layout="constrained")
    conditions = np.logspace(0, 14, 29)
    solvers = {
        "normal equations": (solve_normal_equations, "v", 5, "tab:red"),
        "QR": (solve_qr, "s", 7, "tab:blue"),
        "SVD": (lambda a, b: solve_svd(a, b).x, "o", 4, "tab:green"),
    }
    for ax, tangent, title in zip(axes, (0.0, 1.0), ("A perfect fit", "A bad fit: residual as long as $Ax$")):
        rng = np.random.default_rng(0)
        problems = [[problem(condition, tangent, rng) for _ in range(9)] for condition in conditions]
        for name, (solve, marker, size, colour) in solvers.items():
            errors = [[error(solve, a, b, x) for a, x, b in nine] for nine in problems]
            medians = [np.nan if np.isnan(nine).any() else np.median(nine) for nine in errors]
            ax.loglog(conditions, medians, marker, markersize=size, color=colour, label=name)
        ax.loglog(conditions, conditions * EPS, "-", color="grey", linewidth=1, label=r"$\kappa\, \varepsilon$")
        ax.loglog(conditions, conditions**2 * EPS, "--", color="grey", linewidth=1, label=r"$\kappa^2 \varepsilon$")
        ax.set(xlabel=r"condition number $\kappa$", title=title, ylim=(1e-17, 1e3))
        ax.grid(alpha=0.3)
    axes[0].set_ylabel(r"$\Vert \hat x - x \Vert \;/\; \Vert x \Vert$")
    axes[0].legend(loc="upper left", fontsize=9)
    return fig
