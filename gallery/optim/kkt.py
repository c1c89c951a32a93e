"""Forces at a corner and at a cusp, and the gap beside its bound."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim._constrained import ConstrainedProblem, cusp, hock_schittkowski
from mlpath.optim.kkt import active_set, certify, estimate_multipliers, fritz_john, gap_bound, look

CORNER = np.array([0.6, 0.8])
PULL = np.array([-2.2, -1.1])


def corner() -> ConstrainedProblem:
    """Return a linear objective on the part of the unit disc with x1 <= 0.6."""
    return ConstrainedProblem(
        lambda x: float(PULL @ x),
        lambda x: PULL,
        lambda x: np.zeros((2, 2)),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 2)),
        lambda x: np.array([x @ x - 1, x[0] - 0.6]),
        lambda x: np.array([2 * x, [1.0, 0.0]]),
        lambda x, nu, lam: 2 * lam[0] * np.eye(2),
        np.zeros(2),
        np.full(2, np.nan),
    )


def figure() -> Figure:
    """Draw the balance of forces where there is one, where there is none, and what a bound is worth."""
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(16, 5), layout="constrained")
    _corner(left)
    _cusp(middle)
    _gaps(right)
    return fig


def _arrow(axes: Axes, start: np.ndarray, move: np.ndarray, colour: str, label: str, head: str = "->") -> None:
    axes.annotate("", tuple(start + move), tuple(start), arrowprops={"arrowstyle": head, "color": colour, "lw": 2})
    axes.plot([], [], color=colour, label=label)


def _corner(axes: Axes) -> None:
    x, y = np.meshgrid(np.linspace(-1.3, 2, 300), np.linspace(-1.3, 2.2, 300))
    axes.contourf(x, y, (x**2 + y**2 <= 1) & (x <= 0.6), levels=[0.5, 1.5], colors=["0.88"])
    axes.contour(x, y, PULL[0] * x + PULL[1] * y, levels=12, colors="0.75", linewidths=0.8)
    found = certify(corner(), CORNER)
    at = look(corner(), CORNER)
    scale = 0.45
    _arrow(axes, CORNER, -scale * at.gradient, "k", r"pull of the slope, $-\nabla f$")
    for i, (row, factor) in enumerate(zip(at.inequality_jacobian, found.multipliers.inequality)):
        _arrow(axes, CORNER, scale * factor * row, f"C{i}", rf"$\lambda_{i + 1} \nabla g_{i + 1}$, factor {factor:.2f}")
    axes.plot(*CORNER, "C2*", markersize=14)
    axes.set(aspect="equal", title=f"A corner: {found.verdict}, {found.qualification}", xlabel="$x_1$", ylabel="$x_2$")
    axes.legend(loc="lower right", fontsize=9)


def _cusp(axes: Axes) -> None:
    a = np.linspace(0, 1, 200)
    axes.fill_between(a, 0, (1 - a) ** 3, color="0.88")
    problem, x = cusp(), np.array([1.0, 0.0])
    at, found = look(problem, x), certify(problem, x)
    objective, factors, _ = fritz_john(at, found.active)
    _arrow(axes, x, -0.3 * at.gradient, "k", r"pull of the slope, $-\nabla f$")
    for i, row in enumerate(at.inequality_jacobian):
        label = rf"$\nabla g_{i + 1}$, factor {factors.inequality[i]:.2f} in (7)"
        _arrow(axes, x, 0.3 * row, f"C{i}", label)
    axes.plot(*x, "C2*", markersize=14)
    axes.set(title=f"A cusp: {found.verdict}, $\\lambda_0$ = {abs(objective):.2f}", xlabel="$x_1$", ylabel="$x_2$")
    axes.set(xlim=(0, 1.5), ylim=(-0.5, 1.05))
    axes.legend(fontsize=9)


def _gaps(axes: Axes) -> None:
    problem = hock_schittkowski()["HS35"]
    best = problem.minimum
    at = look(problem, best)
    exact = estimate_multipliers(at, active_set(at))
    distances = np.geomspace(1e-4, 0.5, 30)
    move = np.array([-0.3, -0.4, -0.6])
    points = [best + distance * move / np.linalg.norm(move) for distance in distances]
    axes.loglog(distances, [problem.fun(x) - problem.fun(best) for x in points], "k", label="gap $f(x) - f(x^*)$")
    bounds = {"multipliers of the minimum": [], "estimated, active within 0.1": []}
    for x, distance in zip(points, distances):
        here = look(problem, x)
        guesses = exact, estimate_multipliers(here, active_set(here, tol=0.1))
        for values, guess in zip(bounds.values(), guesses):
            values.append(gap_bound(here, guess, float(distance)))
    for (name, values), style in zip(bounds.items(), ("C0-", "C1--")):
        axes.loglog(distances, values, style, label=f"bound, {name}")
    axes.set(title="A convex problem (HS35): the gap and its bounds", xlabel="distance $R$ from the minimum")
    axes.set_ylabel("objective above its minimum")
    axes.legend(fontsize=9)
