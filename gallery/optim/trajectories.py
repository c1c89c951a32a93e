"""Trajectories: walks on a landscape, their losses, and a walk in 31 dimensions in its best plane."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

from mlpath.optim import bfgs, gradient_descent, momentum
from mlpath.optim._shared import breast_cancer, himmelblau, rosenbrock
from mlpath.optim.newton import damped
from mlpath.optim.trajectories import (
    animate,
    coordinates,
    draw_contours,
    draw_losses,
    draw_paths,
    limits,
    principal_plane,
    restrict,
)

VALLEY = np.array([[-1.8, 1.8], [-0.8, 2.2]])


def walks() -> dict[str, np.ndarray]:
    """Return the paths of four methods in Rosenbrock's valley."""
    p = rosenbrock()
    steps = {"max_iter": 300, "record_path": True}
    results = {
        "gradient descent": gradient_descent.minimize(p.fun, p.grad, p.start, step_size=1.5e-3, **steps),
        "Nesterov": momentum.minimize(p.fun, p.grad, p.start, step_size=8e-4, restart=True, **steps),
        "BFGS": bfgs.minimize(p.fun, p.grad, p.start, tol=1e-10, record_path=True),
        "Newton": damped.minimize(p.fun, p.grad, p.hess, p.start, tol=1e-10, record_path=True),
    }
    return {name: np.asarray(result.path) for name, result in results.items()}


def figure() -> Figure:
    """Draw walks in a valley, their losses, where walks end that begin nearby, and logistic regression."""
    fig, ((valley, losses), (basins, cancer)) = plt.subplots(2, 2, figsize=(12, 9), layout="constrained")
    p, paths = rosenbrock(), walks()
    draw_contours(valley, p.fun, VALLEY)
    draw_paths(valley, paths)
    valley.plot(*p.minimum, "k*", markersize=12)
    valley.set(title="Rosenbrock's valley", xlabel="$x_1$", ylabel="$x_2$")
    valley.legend(loc="upper right")

    draw_losses(losses, {name: np.array([p.fun(x) for x in path]) for name, path in paths.items()})
    losses.set(title="The same walks: the loss, step by step", xlabel="step", ylabel="$f(x_k)$")
    losses.set(xlim=(-3, 200), ylim=(1e-16, 1e2))
    losses.legend()

    h = himmelblau()
    grid = np.stack(np.meshgrid([-4.3, -1.5, 1.2, 4.2], [-4.2, 0.3, 4.4]), axis=-1).reshape(-1, 2)
    starts = {f"from {k}": x for k, x in enumerate(grid)}
    steps = {"step_size": 0.01, "record_path": True}
    walked = {k: np.asarray(gradient_descent.minimize(h.fun, h.grad, x, **steps).path) for k, x in starts.items()}
    draw_contours(basins, h.fun, limits(walked))
    draw_paths(basins, walked)
    basins.set(title="Himmelblau's four minima, from twelve starts", xlabel="$x_1$", ylabel="$x_2$")

    c = breast_cancer(ridge=1e-3)
    run = bfgs.minimize(c.fun, c.grad, c.start, tol=1e-6, record_path=True)
    path = np.asarray(run.path)
    plane = principal_plane(path)
    flat = {"BFGS": coordinates(path, plane)}
    draw_contours(cancer, restrict(c.fun, plane), limits(flat, margin=0.3), shape=(60, 60))
    draw_paths(cancer, flat)
    cancer.plot(0, 0, "k*", markersize=12)
    cancer.set(title="Logistic regression, 31 weights, in the best plane of the walk")
    cancer.set(xlabel=f"first direction, {plane.shares[0]:.0%} of the squares", ylabel=f"second, {plane.shares[1]:.0%}")
    return fig


def animation() -> FuncAnimation:
    """Return the walks in the valley as an animation: `animation().save("walks.gif", writer="pillow")`."""
    _, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
    draw_contours(ax, rosenbrock().fun, VALLEY)
    film = animate(ax, {name: path[:121] for name, path in walks().items()}, stride=2)
    ax.legend(loc="upper right")
    return film
