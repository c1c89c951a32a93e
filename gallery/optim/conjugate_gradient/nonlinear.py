"""Paths in the plane, the jamming of Fletcher and Reeves, and what the line search has to do with it."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import rosenbrock
from mlpath.optim.conjugate_gradient.nonlinear import RULES, minimize

NEVER = 10**9
NAMES = {
    "fletcher_reeves": "Fletcher-Reeves",
    "polak_ribiere": "Polak-Ribière",
    "polak_ribiere_plus": "PR+",
    "hestenes_stiefel": "Hestenes-Stiefel",
    "dai_yuan": "Dai-Yuan",
}


def figure() -> Figure:
    """Draw two paths to Rosenbrock's minimum, gradients along the walks, and evaluations against the curvature."""
    fig, (plane, walks, searches) = plt.subplots(1, 3, figsize=(16, 4.9), layout="constrained")
    _plane(plane)
    _walks(walks)
    _searches(searches)
    return fig


def _plane(axes: plt.Axes) -> None:
    problem = rosenbrock(2)
    x, y = np.meshgrid(np.linspace(-1.6, 1.5, 200), np.linspace(-0.5, 2.1, 200))
    height = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    axes.contour(x, y, height, levels=np.geomspace(0.1, 1000, 14), colors="0.85", linewidths=0.8)
    for row, rule in enumerate(("fletcher_reeves", "polak_ribiere_plus")):
        result = minimize(problem.fun, problem.grad, problem.start, rule=rule, restart_every=NEVER, record_path=True)
        label = f"{NAMES[rule]}: {result.nit} steps"
        axes.plot(*result.path.T, "o-", color=f"C{row}", markersize=3, linewidth=1, label=label)
    axes.plot(1, 1, "k*", markersize=12)
    axes.set(title="Rosenbrock's valley, without restarts", xlabel="$x_1$", ylabel="$x_2$")
    axes.legend(loc="lower center", fontsize=9)


def _walks(axes: plt.Axes) -> None:
    problem = rosenbrock(10)
    for row, rule in enumerate(RULES):
        for every, line in ((NEVER, "-"), (None, ":")):
            options = {"restart_every": every, "max_iter": 400, "record_path": True}
            path = minimize(problem.fun, problem.grad, problem.start, rule=rule, **options).path
            size = [abs(problem.grad(x)).max() for x in path]
            axes.semilogy(size, line, color=f"C{row}", linewidth=1, label=NAMES[rule] if every else None)
    axes.plot([], [], "k:", label="restarted every 10 steps")
    axes.set(title="Rosenbrock in 10 dimensions", xlabel="steps", ylabel="largest component of the gradient")
    axes.legend(fontsize=9, loc="center right")


def _searches(axes: plt.Axes) -> None:
    problem, curvatures = rosenbrock(6), np.geomspace(0.003, 0.95, 14)
    for row, rule in enumerate(RULES):
        costs = []
        for curvature in curvatures:
            result = minimize(problem.fun, problem.grad, problem.start, rule=rule, curvature=float(curvature))
            costs.append(result.nfev if result.success else np.nan)
        axes.loglog(curvatures, costs, ".-", color=f"C{row}", label=NAMES[rule])
    axes.axvline(0.5, color="k", linestyle="--", linewidth=1, label="the limit of (6)")
    axes.set(title="Rosenbrock in 6 dimensions, restarted every 6", xlabel="curvature $c_2$ of the search")
    axes.set(ylabel="evaluations of the objective")
    axes.legend(fontsize=9)
