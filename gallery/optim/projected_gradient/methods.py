"""Two walks to a minimum on the border of a ball of the 1-norm, their errors, and Frank-Wolfe's certificate."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import quadratic
from mlpath.optim.projected_gradient.methods import frank_wolfe, l1_ball_vertex, projected_gradient
from mlpath.optim.projected_gradient.projections import project_l1_ball


def figure() -> Figure:
    """Draw both walks in the plane, and their errors in 40 dimensions."""
    fig, (plane, errors) = plt.subplots(1, 2, figsize=(13, 5.4), layout="constrained")
    _plane(plane)
    _errors(errors)
    return fig


def _plane(axes: plt.Axes) -> None:
    hessian, minimum = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([0.95, 0.75])

    def fun(x: np.ndarray) -> float:
        return float((x - minimum) @ hessian @ (x - minimum)) / 2

    def grad(x: np.ndarray) -> np.ndarray:
        return hessian @ (x - minimum)

    start = np.array([-0.2, -0.65])
    side = np.linspace(-1.5, 1.3, 200)
    points = np.stack(np.meshgrid(side, side), axis=-1) - minimum
    axes.contour(side, side, np.einsum("abi,ij,abj->ab", points, hessian, points) / 2, 14, colors="0.8")
    axes.fill([1, 0, -1, 0], [0, 1, 0, -1], color="C2", alpha=0.15)
    walks = {
        "projected gradient, a = 0.4": projected_gradient(
            fun, grad, project_l1_ball, start, step_size=0.4, max_iter=200, record_path=True
        ).path,
        "Frank-Wolfe, 2 / (k + 2)": frank_wolfe(fun, grad, l1_ball_vertex, start, max_iter=25, record_path=True).path,
        "Frank-Wolfe, exact": frank_wolfe(
            fun, grad, l1_ball_vertex, start, rule="exact", hvp=lambda x, v: hessian @ v, max_iter=25, record_path=True
        ).path,
    }
    for color, (name, path) in zip(("C0", "C1", "C3"), walks.items(), strict=True):
        axes.plot(*np.transpose(path), ".-", color=color, label=name, linewidth=1)
    axes.plot(*walks["projected gradient, a = 0.4"][-1], "*", color="C0", markersize=15)
    axes.plot(*start, "ko")
    axes.annotate("start", start, xytext=(-34, -4), textcoords="offset points")
    axes.set(title="Least squares in the ball of the 1-norm", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.0), fontsize=8)
    axes.set(xlim=(-1.2, 1.3), ylim=(-1.5, 1.3))


def _errors(axes: plt.Axes) -> None:
    problem, n_steps = quadratic(np.geomspace(0.3, 3, 40), rng=np.random.default_rng(7)), 400

    def project(x: np.ndarray) -> np.ndarray:
        return project_l1_ball(x, 5.0)

    def vertex(gradient: np.ndarray) -> np.ndarray:
        return l1_ball_vertex(gradient, 5.0)

    options = {"tol": 1e-12, "record_path": True}
    best = projected_gradient(problem.fun, problem.grad, project, np.zeros(40), step_size=0.3, max_iter=3000, **options)
    steps = np.arange(1, n_steps + 1)
    for step_size, color in ((1 / problem.smoothness, "C0"), (0.03, "C9")):
        path = projected_gradient(
            problem.fun, problem.grad, project, np.zeros(40), step_size=step_size, max_iter=n_steps, **options
        ).path[1:]
        left = np.array([problem.fun(x) for x in path]) - best.fun
        label = f"projected gradient, a = {step_size:.2f}"
        axes.loglog(steps[: len(left)], np.maximum(left, 1e-16), color=color, label=label)
    for rule, color in (("classic", "C1"), ("exact", "C3")):
        path = frank_wolfe(
            problem.fun, problem.grad, vertex, np.zeros(40), rule=rule, hvp=problem.hvp, max_iter=n_steps, **options
        ).path[1:]
        gaps = [problem.grad(x) @ (x - vertex(problem.grad(x))) for x in path]
        axes.loglog(steps, [problem.fun(x) - best.fun for x in path], color=color, label=f"Frank-Wolfe, {rule}")
        axes.loglog(steps, gaps, ":", color=color, label=f"its gap, {rule}")
    axes.loglog(steps, 2 * problem.smoothness * 100 / (steps + 2), "k--", linewidth=1, label="the bound (13)")
    axes.set(title="40 dimensions, radius 5", xlabel="steps", ylabel="$f(x_k) - f^\\star$", ylim=(1e-9, 1e3))
    axes.legend(loc="lower left", fontsize=8)
