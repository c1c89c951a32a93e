"""Minima of penalties and barriers on their way to the solution, their errors, and the exact penalty on both sides of its threshold."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim._constrained import ConstrainedProblem, hock_schittkowski
from mlpath.optim.penalty_barrier import exact_penalty, minimize_barrier, minimize_penalty, quadratic_penalty

ROWS = np.array([[1.0, 2.0], [3.0, 1.0], [-1.0, 0.3], [0.2, -1.0], [1.0, 1.0]])
OFFSETS = np.array([4.0, 6.0, 0.2, 0.1, 2.55])
COSTS = np.array([-1.0, -1.25])


def programme() -> ConstrainedProblem:
    """Return a linear programme in the plane."""
    return ConstrainedProblem(
        lambda x: float(COSTS @ x),
        lambda x: COSTS,
        lambda x: np.zeros((2, 2)),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 2)),
        lambda x: ROWS @ x - OFFSETS,
        lambda x: ROWS,
        lambda x, nu, lam: np.zeros((2, 2)),
        np.array([0.3, 0.3]),
        np.full(2, np.nan),
    )


def figure() -> Figure:
    """Draw the two paths, the errors with the condition number, and the exact penalty."""
    fig, (paths, errors, exact) = plt.subplots(1, 3, figsize=(16, 5), layout="constrained")
    _paths(paths)
    _errors(errors)
    _exact(exact)
    return fig


def _paths(axes: Axes) -> None:
    x, y = np.meshgrid(np.linspace(-0.4, 3.6, 300), np.linspace(-0.4, 3.0, 300))
    inside = (np.stack([x, y], axis=-1) @ ROWS.T <= OFFSETS).all(axis=-1)
    axes.contourf(x, y, inside, levels=[0.5, 1.5], colors=["0.88"])
    axes.contour(x, y, COSTS[0] * x + COSTS[1] * y, levels=14, colors="0.75", linewidths=0.8)
    barrier = minimize_barrier(programme(), t=0.3, growth=1.6, max_iter=30, record_path=True)
    penalty = minimize_penalty(programme(), penalty=0.6, growth=1.6, max_iter=30, record_path=True)
    assert barrier.path is not None and penalty.path is not None
    axes.plot(*barrier.path[1:].T, "C0.-", label="central path of the barrier")
    axes.plot(*penalty.path[1:].T, "C3.-", label="minima of the quadratic penalty")
    axes.plot(*barrier.x, "k*", markersize=14, label="solution")
    axes.set(aspect="equal", title="From inside and from outside", xlabel="$x_1$", ylabel="$x_2$")
    axes.legend(loc="upper left", fontsize=9)


def _errors(axes: Axes) -> None:
    problem = hock_schittkowski()["HS42"]
    weights = np.geomspace(1, 1e6, 13)
    results = []
    for weight in weights:  # each from where the last ended: a large weight is hard from far away
        start = results[-1].x if results else problem.start
        results.append(minimize_penalty(problem, start, penalty=float(weight), max_iter=1))
    axes.loglog(weights, [np.linalg.norm(r.x - problem.minimum) for r in results], ".-", label=r"error of $x(\rho)$")
    exact = np.array([-2, 5 / np.sqrt(2) - 1])
    off = [np.linalg.norm(r.equality_multipliers - exact) for r in results]
    axes.loglog(weights, off, ".-", label=r"error of the multipliers $\rho\,h$")
    numbers = [np.linalg.cond(quadratic_penalty(problem, r.x, float(w)).hessian) for r, w in zip(results, weights)]
    axes.loglog(weights, numbers, ".--", color="C3", label="condition number of the Hessian")
    axes.loglog(weights, 1 / weights, "k:", label=r"$1/\rho$ and $\rho$")
    axes.loglog(weights, weights, "k:")
    axes.set(title="What a large weight buys, and costs (HS42)", xlabel=r"weight $\rho$")
    axes.set_ylim(1e-7, 1e12)
    axes.legend(loc="upper left", fontsize=9)


def _exact(axes: Axes) -> None:
    problem = hock_schittkowski()["HS12"]
    along = np.array([4.0, 1.5]) / np.hypot(4.0, 1.5)
    moves = np.linspace(-0.6, 0.6, 241)
    for weight in (0.25, 0.5, 1.0, 2.0):
        values = [exact_penalty(problem, problem.minimum + move * along, along, weight)[0] for move in moves]
        axes.plot(moves, values, label=rf"$\rho$ = {weight:g}")
        axes.plot(moves[np.argmin(values)], min(values), "k.")
    axes.axvline(0, color="0.7", linewidth=0.8)
    axes.set(title=r"The exact penalty (HS12, $\lambda^* = 0.5$)", ylabel=r"$\phi_\rho$", ylim=(-30.8, -26))
    axes.set_xlabel("distance from the solution, across the constraint")
    axes.legend(fontsize=9)
