"""Where the walks end, how the digits double, and what a modified factorisation adds."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from mlpath.optim._shared import himmelblau, rosenbrock
from mlpath.optim.newton.damped import add_identity, minimize, modified_cholesky

MINIMA = np.array([[3.0, 2.0], [-2.805118, 3.131313], [-3.779310, -3.283186], [3.584428, -1.848127]])
COLOURS = ["#5b8fd6", "#e08e45", "#6fae6f", "#b678b6", "0.25"]


def figure() -> Figure:
    """Draw basins of the pure and the damped method, errors along walks, and what two matrices add."""
    fig, axes = plt.subplots(1, 4, figsize=(18, 4.6), layout="constrained")
    _basins(axes[0], "pure")
    _basins(axes[1], "modified")
    _errors(axes[2])
    _added(axes[3])
    return fig


def _basins(axes: plt.Axes, method: str) -> None:
    problem, grid = himmelblau(), np.linspace(-5.07, 5.03, 29)
    ends = np.full((len(grid), len(grid)), 4)
    for i, y in enumerate(grid):
        for j, x in enumerate(grid):
            walk = minimize(problem.fun, problem.grad, problem.hess, [x, y], method=method, tol=1e-3, max_iter=40)
            if walk.success:
                ends[i, j] = np.linalg.norm(MINIMA - walk.x, axis=1).argmin()
    axes.pcolormesh(grid, grid, ends, cmap=ListedColormap(COLOURS), vmin=-0.5, vmax=4.5)
    axes.plot(*MINIMA.T, "k*", markersize=9)
    name = "Pure: black ends at no minimum" if method == "pure" else "Damped and modified"
    axes.set(title=name, xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


def _errors(axes: plt.Axes) -> None:
    for row, problem in enumerate((rosenbrock(2), himmelblau())):
        options = {"tol": 1e-12, "max_iter": 40, "record_path": True}
        path = minimize(problem.fun, problem.grad, problem.hess, problem.start, **options).path
        errors = np.linalg.norm(path - path[-1], axis=1)
        errors = errors[errors > 0]
        name = "Rosenbrock" if row == 0 else "Himmelblau"
        axes.semilogy(np.arange(1 - len(errors), 1), errors, "o-", markersize=4, color=f"C{row}", label=name)
    axes.set(title="The digits double", xlabel="steps before the last", ylabel="distance from the minimum")
    axes.legend()


def _added(axes: plt.Axes) -> None:
    rng, least, added = np.random.default_rng(0), [], ([], [])
    for _ in range(150):
        hessian = rng.standard_normal((8, 8))
        hessian = (hessian + hessian.T) / 2 + rng.uniform(0, 5) * np.eye(8)
        least.append(np.linalg.eigvalsh(hessian)[0])
        added[0].append(max(add_identity(hessian)[1], 1e-3))
        added[1].append(max(modified_cholesky(hessian)[1].max(), 1e-3))
    for row, name in enumerate(("a multiple of the identity", "the modified factorisation: largest entry")):
        axes.semilogy(least, added[row], "o", color=f"C{row}", markersize=3, label=name)
    axes.axvline(0, color="k", linewidth=0.8)
    axes.set(title="What is added to 8 x 8 matrices", xlabel="least eigenvalue", ylabel="added (0 drawn at 0.001)")
    axes.set_ylim(5e-4, 1e3)
    axes.legend(fontsize=8, loc="upper right")
