"""L-BFGS: what memory buys, and what it costs, beside gradient descent and BFGS."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim import bfgs, gradient_descent, lbfgs
from mlpath.optim._shared import breast_cancer, rosenbrock


def excess(path: np.ndarray | None, steps: int = 300) -> np.ndarray:
    """Return the objective above its minimum along a path."""
    assert path is not None
    problem = breast_cancer(ridge=1e-3)
    return np.array([problem.fun(x) for x in path[:steps]]) - problem.fun(problem.minimum)


def figure() -> Figure:
    """Draw the loss of logistic regression by several methods, and evaluations by memory on a long valley."""
    problem = breast_cancer(ridge=1e-3)
    functions = problem.fun, problem.grad, problem.start
    fig, (losses, counts, spectrum) = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")

    options = {"tol": 1e-9, "max_iter": 300, "record_path": True}
    armijo = gradient_descent.minimize(*functions, rule="armijo", **options)
    losses.semilogy(excess(armijo.path), color="0.6", label="gradient descent, Armijo")
    for number, size in enumerate((1, 3, 10, 30)):
        path = lbfgs.minimize(*functions, size=size, **options).path
        losses.semilogy(
            excess(path),
            color=plt.get_cmap("Blues")(0.4 + 0.18 * number),
            label=f"L-BFGS, {size} pair" + "s" * (size > 1),
        )
    losses.semilogy(excess(bfgs.minimize(*functions, **options).path), color="C1", label="BFGS")
    losses.set(
        title="Logistic regression on 569 tumours", xlabel="step", ylabel="loss above its minimum", ylim=(1e-14, 1)
    )
    losses.legend()

    sizes = (1, 2, 3, 5, 10, 20, 40)
    for dim, color in ((10, "C0"), (100, "C2")):
        valley = rosenbrock(dim)
        evaluations = [
            lbfgs.minimize(valley.fun, valley.grad, valley.start, size=size, tol=1e-6).nfev for size in sizes
        ]
        counts.semilogx(sizes, evaluations, "o-", color=color, label=f"Rosenbrock, {dim} variables")
    counts.set(
        title="Evaluations until the gradient is 1e-6", xlabel="pairs remembered", ylabel="evaluations", ylim=(0, None)
    )
    counts.set_xticks(sizes, [str(size) for size in sizes])
    counts.legend()

    path = lbfgs.minimize(*functions, **options).path
    assert path is not None
    gradients = [problem.grad(x) for x in path[:41]]
    for size, color in ((3, "C0"), (10, "C2"), (40, "C4")):
        memory = lbfgs.Memory()
        for k in range(40):
            memory = lbfgs.remember(memory, path[k + 1] - path[k], gradients[k + 1] - gradients[k], size=size)
        product = lbfgs.as_matrix(memory, len(problem.start)) @ problem.hess(path[40])
        values = np.sort(np.linalg.eigvals(product).real)
        spectrum.semilogy(np.arange(1, len(values) + 1), values, "o", markersize=4, color=color, label=f"{size} pairs")
    spectrum.axhline(1, color="0.6", linewidth=0.8)
    spectrum.set(title=r"Eigenvalues of $H \nabla^2 f$ after 40 steps: 1 is right", xlabel="number, sorted")
    spectrum.legend()
    return fig
