"""Gradients at a constrained minimum, where Newton's method ends with and without a line search, and what a constraint costs."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._constrained import ConstrainedProblem
from mlpath.optim.lagrange import minimize, sensitivity

MATRIX = np.diag([1.0, 3.0])
CENTRE = np.array([1.4, 0.6])


def on_circle(half: float = 0.5) -> ConstrainedProblem:
    """Return a bowl around `CENTRE`, to be minimised where |x|^2 / 2 is `half`."""
    return ConstrainedProblem(
        lambda x: float((x - CENTRE) @ MATRIX @ (x - CENTRE)) / 2,
        lambda x: MATRIX @ (x - CENTRE),
        lambda x: MATRIX,
        lambda x: np.array([x @ x / 2 - half]),
        lambda x: x[None].copy(),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 2)),
        lambda x, nu, lam: MATRIX + nu[0] * np.eye(2),
        np.array([-1.3, -0.4]),
        np.full(2, np.nan),
    )


def figure() -> Figure:
    """Draw the geometry, the ends of many walks, and prices beside the values that they predict."""
    fig, (geometry, walks, prices) = plt.subplots(1, 3, figsize=(16, 5), layout="constrained")
    _geometry(geometry)
    _walks(walks)
    _prices(prices)
    return fig


def _landscape(axes: plt.Axes) -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 150), np.linspace(-2, 2, 150))
    values = ((x - CENTRE[0]) ** 2 + 3 * (y - CENTRE[1]) ** 2) / 2
    axes.contour(x, y, values, levels=np.linspace(0.03, 3, 12) ** 2, colors="0.8", linewidths=0.8)
    angle = np.linspace(0, 2 * np.pi, 300)
    axes.plot(np.cos(angle), np.sin(angle), "k", linewidth=1.5)
    axes.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$", xlim=(-2, 2), ylim=(-2.9, 2.2))


def _geometry(axes: plt.Axes) -> None:
    _landscape(axes)
    problem = on_circle()
    best = minimize(problem, record_path=True)
    assert best.path is not None
    axes.plot(*best.path.T, "C0.-", label="Newton's steps")
    for x, colour in ((best.x, "C2"), (np.array([np.cos(2.2), np.sin(2.2)]), "C3")):
        for arrow, length, name in ((-problem.grad(x), 0.55, r"$-\nabla f$"), (x, 1.0, r"$\nabla h$")):
            tip = x + length * arrow / np.linalg.norm(arrow)
            axes.annotate("", tuple(tip), tuple(x), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
            axes.annotate(
                name,
                tuple(tip),
                (2, -16 if colour == "C2" and length < 1 else 5),
                textcoords="offset points",
                color=colour,
            )
    axes.plot(*best.x, "C2*", markersize=14, label="the minimum: the gradients are parallel")
    axes.plot(np.cos(2.2), np.sin(2.2), "C3o", label="not here")
    axes.set_title("At the minimum the slope points across the path")
    axes.legend(loc="lower left", fontsize=8)


def _walks(axes: plt.Axes) -> None:
    _landscape(axes)
    problem, rng = on_circle(), np.random.default_rng(4)
    best = minimize(problem).x
    for start in rng.uniform(-1.9, 1.9, (40, 2)):
        result = minimize(problem, start=start, line_search=False)
        right = np.linalg.norm(result.x - best) < 1e-3
        axes.plot(*start, "." if right else "x", color="C0" if right else "C3")
        assert minimize(problem, start=start).success
    axes.plot([], [], "C0.", label="plain steps lead to the minimum")
    axes.plot([], [], "C3x", label="to another stationary point, or nowhere")
    axes.plot(*best, "C2*", markersize=14, label="the minimum: all reach it with shift and search")
    axes.set_title("Where plain Newton ends, by its start")
    axes.legend(loc="lower left", fontsize=8)


def _prices(axes: plt.Axes) -> None:
    halves = np.linspace(0.15, 1.7, 40)
    values = [minimize(on_circle(float(half)), start=[1.0, 0.4]).fun for half in halves]
    axes.plot(halves, values, "k", label="minimal value")
    for half, colour in ((0.3, "C0"), (0.7, "C1"), (1.4, "C2")):
        problem = on_circle(half)
        result = minimize(problem, start=[1.0, 0.4])
        hessian = problem.lagrangian_hess(result.x, result.equality_multipliers, np.zeros(0))
        found = sensitivity(hessian, problem.equality_jacobian(result.x), result.equality_multipliers)
        moves = np.linspace(-0.2, 0.2, 30)
        axes.plot(half + moves, result.fun + found.value[0] * moves, color=colour, label=f"price {found.value[0]:+.3f}")
        curve = result.fun + found.value[0] * moves - found.multipliers[0, 0] * moves**2 / 2
        axes.plot(half + moves, curve, ":", color=colour, linewidth=3)
        axes.plot(half, result.fun, "o", color=colour)
    axes.set(title="What the constraint costs", xlabel="right-hand side: $|x|^2 / 2 = $ this", ylabel="minimal $f$")
    axes.plot([], [], "k:", linewidth=3, label="with the prices' own slope, by (9)")
    axes.legend(fontsize=8)
