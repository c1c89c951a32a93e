"""BFGS in Rosenbrock's valley, how fast its errors fall beside others, and what it knows of the curvature."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim import gradient_descent
from mlpath.optim._shared import rosenbrock
from mlpath.optim.bfgs import learn, minimize


def draw_valley(panel: Axes, path: np.ndarray) -> None:
    """Draw the contours, and the walk down the valley."""
    problem = rosenbrock()
    x, y = np.meshgrid(np.linspace(-1.6, 1.6, 300), np.linspace(-0.6, 1.7, 300))
    values = np.array(
        [[problem.fun(np.array(point)) for point in zip(*rows, strict=True)] for rows in zip(x, y, strict=True)]
    )
    panel.contour(x, y, values, levels=np.geomspace(0.1, 1000, 12), colors="0.8", linewidths=0.8)
    panel.plot(*path.T, "o-", color="C0", markersize=4)
    panel.plot(*problem.minimum, "*", color="C3", markersize=14)
    panel.set(title=f"Rosenbrock's valley: {len(path) - 1} steps", xlabel="$x_1$", ylabel="$x_2$")


def newton_errors() -> np.ndarray:
    """Return the distances from the minimum along Newton's walk from the same start."""
    problem = rosenbrock()
    x, errors = problem.start, []
    for _ in range(7):
        errors.append(np.linalg.norm(x - problem.minimum))
        x = x - np.linalg.solve(problem.hess(x), problem.grad(x))
    return np.array(errors)


def curvatures(path: np.ndarray) -> list[np.ndarray]:
    """Return the eigenvalues of what BFGS knows times the second derivatives, after each step."""
    problem, inverse, found = rosenbrock(), None, []
    for before, after in itertools.pairwise(path):
        inverse = learn(inverse, after - before, problem.grad(after) - problem.grad(before))
        if inverse is not None:
            found.append(np.sort(np.linalg.eigvals(inverse @ problem.hess(after)).real))
    return found


def figure() -> Figure:
    """Draw the three."""
    problem = rosenbrock()
    path = minimize(problem.fun, problem.grad, problem.start, tol=1e-12, record_path=True).path
    steepest = gradient_descent.minimize(
        problem.fun, problem.grad, problem.start, rule="armijo", max_iter=400, record_path=True
    ).path
    assert path is not None and steepest is not None
    fig, (valley, errors, known) = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    draw_valley(valley, path)

    for walked, name, color in ((steepest, "gradient descent, Armijo", "0.6"), (path, "BFGS", "C0")):
        errors.semilogy(
            np.linalg.norm(walked - problem.minimum, axis=1)[:60], "o-", markersize=3, color=color, label=name
        )
    errors.semilogy(newton_errors(), "s-", markersize=3, color="C1", label="Newton")
    errors.set(
        title="Superlinear: each ratio of errors is smaller", xlabel="step", ylabel=r"$\|x_k - x^*\|$", ylim=(1e-15, 10)
    )
    errors.legend()

    found = curvatures(path)
    for number, name in enumerate(("smaller", "larger")):
        known.plot([values[number] for values in found], "o-", markersize=3, color=f"C{number}", label=name)
    known.axhline(1, color="0.6", linewidth=0.8)
    known.set(title=r"Eigenvalues of $H_k \nabla^2 f(x_k)$: 1 is right", xlabel="step")
    known.set_yscale("symlog", linthresh=0.1)
    known.legend()
    return fig
