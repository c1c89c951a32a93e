"""Steps along a bent constraint, errors step by step, and Maratos' circle."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim._constrained import ConstrainedProblem, hock_schittkowski
from mlpath.optim.kkt import look
from mlpath.optim.sqp import merit, minimize, second_order_correction, solve_subproblem, subproblem


def figure() -> Figure:
    """Draw where the steps go, how fast they converge, and what the merit function says about a good one."""
    fig, axes = plt.subplots(1, 3, figsize=(17, 5), layout="constrained")
    _walk(axes[0])
    _errors(axes[1])
    _maratos(axes[2])
    return fig


def _walk(axes: Axes) -> None:
    problem = hock_schittkowski()["HS14"]
    path = minimize(problem, record_path=True).path
    assert path is not None
    x, y = np.meshgrid(np.linspace(-0.4, 2.3, 200), np.linspace(0.2, 2.2, 200))
    axes.contour(x, y, (x - 2) ** 2 + (y - 1) ** 2, levels=12, colors="0.8")
    axes.contourf(x, y, 0.25 * x**2 + y**2 - 1, levels=[-9, 0], colors=["0.92"])
    axes.axline((-1, 0), (1, 1), color="k", label="$x_1 - 2 x_2 + 1 = 0$")
    at = look(problem, path[1])
    tangent = subproblem(at, np.eye(2))
    line = np.linspace(-0.4, 2.3, 2)
    height = path[1][1] + (tangent.h[0] - tangent.G[0, 0] * (line - path[1][0])) / tangent.G[0, 1]
    axes.plot(line, height, "C3:", label="tangent of the ellipse, second step")
    axes.plot(*path.T, "o-", color="C0", label="steps")
    axes.plot(*problem.minimum, "k*", markersize=14)
    axes.set(
        xlim=(-0.4, 2.3), ylim=(0.2, 2.2), title="HS14: tangents in place of curves", xlabel="$x_1$", ylabel="$x_2$"
    )
    axes.legend(fontsize=9, loc="lower right")


def _errors(axes: Axes) -> None:
    for name in ("HS14", "HS40", "HS71", "HS39"):
        problem = hock_schittkowski()[name]
        path = minimize(problem, tol=1e-10, max_iter=30, record_path=True).path
        assert path is not None
        errors = np.linalg.norm(path - problem.minimum, axis=1)
        axes.semilogy(np.maximum(errors, 1e-16), ".-", label=name)
    axes.set(title="Superlinear: bent downwards", xlabel="step", ylabel="distance from the minimum")
    axes.legend(fontsize=9)


def _maratos(axes: Axes) -> None:
    circle = ConstrainedProblem(
        lambda x: float(2 * (x @ x - 1) - x[0]),
        lambda x: 4 * x - np.array([1.0, 0.0]),
        lambda x: 4 * np.eye(2),
        lambda x: np.array([x @ x - 1]),
        lambda x: 2 * x[None],
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 2)),
        lambda x, nu, lam: (4 + 2 * nu[0]) * np.eye(2),
        np.array([np.cos(0.5), np.sin(0.5)]),
        np.array([1.0, 0.0]),
    )
    angle = np.linspace(-0.4, 0.9, 100)
    axes.plot(np.cos(angle), np.sin(angle), "k", label="the constraint")
    x, y = np.meshgrid(np.linspace(0.75, 1.3, 150), np.linspace(-0.35, 0.65, 150))
    points = np.stack([x, y], axis=-1).reshape(-1, 2)
    values = np.reshape([merit(look(circle, point), 2.0) for point in points], x.shape)
    axes.contour(x, y, values, levels=np.linspace(-1, 1, 15), colors="0.8")
    axes.plot(1, 0, "k*", markersize=16)
    at = look(circle, circle.start)
    step = solve_subproblem(at, np.eye(2), 10.0)
    beyond = circle.start + step.d
    back = beyond + second_order_correction(at, look(circle, beyond), step.multipliers)
    for point, name, marker in ((circle.start, "$x$", "o"), (beyond, "$x + d$", "s"), (back, "$x + d + p$", "^")):
        label = rf"{name}: $\phi$ = {merit(look(circle, point), 2.0):.2f}"
        axes.plot(*point, marker, markersize=9, label=label)
    axes.set(
        aspect="equal",
        xlim=(0.5, 1.3),
        ylim=(-0.6, 0.7),
        title="Maratos: a good step raises the merit",
        xlabel="$x_1$",
        ylabel="$x_2$",
    )
    axes.legend(fontsize=9, loc="lower left")
