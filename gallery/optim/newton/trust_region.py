"""A walk with its balls, the legs within one ball, how the ratio steers the radius, and how the digits multiply."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import rosenbrock
from mlpath.optim.newton.trust_region import cauchy_step, dogleg, minimize, steihaug


def figure() -> Figure:
    """Draw four panels: the walk, the steps within balls of all sizes, radii and ratios, and errors."""
    fig, axes = plt.subplots(1, 4, figsize=(18, 4.6), layout="constrained")
    _walk(axes[0])
    _legs(axes[1])
    _ratios(axes[2])
    _errors(axes[3])
    return fig


def _walk(axes: plt.Axes) -> None:
    problem = rosenbrock(2)
    x, y = np.meshgrid(np.linspace(-1.9, 1.6, 150), np.linspace(-0.7, 1.8, 150))
    heights = [problem.fun(np.array(point)) for point in zip(x.ravel(), y.ravel())]
    axes.contour(x, y, np.log10(np.array(heights) + 1e-3).reshape(x.shape), levels=14, cmap="Greys", linewidths=0.6)
    walk = minimize(problem.fun, problem.grad, problem.hvp, problem.start, radius=0.5, record_path=True)
    for point, radius, ratio in zip(walk.path[:-1], walk.radii, walk.ratios):
        taken = ratio > 0.15
        axes.add_patch(plt.Circle(point, radius, fill=False, color="C0" if taken else "C3", alpha=0.35))
    axes.plot(*walk.path.T, "k.-", markersize=5, linewidth=1)
    axes.plot(*problem.minimum, "C2*", markersize=12)
    axes.set(title="Balls of steps taken (blue) and refused (red)", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.set(xlim=(-1.9, 1.6), ylim=(-0.7, 1.8))


def _legs(axes: plt.Axes) -> None:
    gradient, hessian = np.array([2.0, 3.0]), np.array([[1.0, 0.3], [0.3, 4.0]])
    x, y = np.meshgrid(np.linspace(-3, 0.8, 120), np.linspace(-1.6, 0.8, 120))
    points = np.stack([x, y], axis=-1)
    model = points @ gradient + ((points @ hessian) * points).sum(axis=-1) / 2
    axes.contour(x, y, model, levels=14, cmap="Greys", linewidths=0.6)
    radii = np.linspace(0.01, 2.2, 60)
    angles = np.linspace(0, 2 * np.pi, 721)
    rims = np.stack([np.cos(angles), np.sin(angles)], axis=-1) * radii[:, None, None]
    heights = rims @ gradient + ((rims @ hessian) * rims).sum(axis=-1) / 2
    best = rims[np.arange(len(radii)), heights.argmin(axis=1)]
    newton = -np.linalg.solve(hessian, gradient)
    best = best[radii <= np.linalg.norm(newton)]
    legs = np.array([dogleg(gradient, hessian, radius) for radius in radii])
    truncated = np.array([steihaug(gradient, lambda v: hessian @ v, radius) for radius in radii])
    axes.plot(*best.T, "C1-", linewidth=2.5, label="exact, all radii")
    axes.plot(*legs.T, "C0-", linewidth=2.5, label="dogleg")
    axes.plot(*truncated.T, "k--", linewidth=1, label="Steihaug")
    axes.plot(*cauchy_step(gradient, hessian @ gradient, 9.0), "ks", markersize=5)
    axes.plot(*newton, "C2*", markersize=12)
    axes.add_patch(plt.Circle((0, 0), 1.3, fill=False, color="0.5"))
    axes.set(title="The best steps as the ball grows", xlabel="$p_1$", ylabel="$p_2$", aspect="equal")
    axes.set(xlim=(-3, 0.8), ylim=(-1.6, 0.8))
    axes.legend(fontsize=8, loc="upper left")


def _ratios(axes: plt.Axes) -> None:
    problem = rosenbrock(2)
    walk = minimize(problem.fun, problem.grad, problem.hvp, problem.start, radius=0.5, record_path=True)
    steps = np.arange(1, walk.nit + 1)
    axes.plot(steps, np.clip(walk.ratios, -1, 2), "C0o-", markersize=4, label="ratio (within -1 and 2)")
    axes.step(steps, walk.radii, "C1", where="mid", label="radius")
    for level in (0.25, 0.75):
        axes.axhline(level, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(title="The ratio steers the radius", xlabel="step")
    axes.legend(fontsize=8)


def _errors(axes: plt.Axes) -> None:
    problem = rosenbrock(10)
    start = np.full(10, 1.4)
    for colour, (method, forcing) in enumerate(
        (("steihaug", 0.0), ("steihaug", 0.5), ("steihaug", 1.0), ("dogleg", 0))
    ):
        options = {"method": method, "forcing": forcing, "tol": 1e-11, "max_iter": 300, "record_path": True}
        walk = minimize(problem.fun, problem.grad, problem.hvp, start, **options)
        errors = np.linalg.norm(walk.path - problem.minimum, axis=1)
        name = "dogleg" if method == "dogleg" else rf"Steihaug, $\theta$ = {forcing:g}"
        axes.semilogy(np.maximum(errors, 1e-16), color=f"C{colour}", label=name)
    axes.set(title="Rosenbrock in 10 variables", xlabel="step", ylabel="distance from the minimum", ylim=(1e-14, 10))
    axes.legend(fontsize=8)
