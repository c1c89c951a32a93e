"""Four steps in one valley, and how fast each gets down, beside what the theory predicts."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import quadratic, rosenbrock
from mlpath.optim.gradient_descent import contraction, minimize, step_limit


def figure(*, steps: int = 300) -> Figure:
    """Draw walks on a quadratic of condition number 10, their convergence, and a walk through Rosenbrock's valley."""
    bowl = quadratic(np.array([1.0, 10.0]), rng=np.random.default_rng(5))
    limit = step_limit(bowl.hessian)
    axes = np.linalg.eigh(bowl.hessian)[1]
    start = bowl.minimum + axes @ [3.0, 0.8]
    walks = {
        "fixed, a = 1/L": ("C0", {"step_size": limit / 2}),
        "fixed, a = 0.97 · 2/L": ("C1", {"step_size": 0.97 * limit}),
        "exact": ("C2", {"rule": "exact", "hessian": bowl.hessian}),
        "Armijo, first trial 1": ("C3", {"rule": "armijo"}),
    }
    fig, panel = plt.subplot_mosaic(
        [[0, 1, "f", "v"], [2, 3, "f", "v"]], figsize=(16, 5), width_ratios=[1, 1, 1.8, 1.8]
    )
    fig.set_layout_engine("constrained")

    x, y = np.meshgrid(bowl.minimum[0] + np.linspace(-3.2, 1.2, 200), bowl.minimum[1] + np.linspace(-2.2, 2.2, 200))
    height = np.reshape([bowl.fun(p) for p in np.column_stack([x.ravel(), y.ravel()])], x.shape)
    for i, (name, (colour, options)) in enumerate(walks.items()):
        result = minimize(bowl.fun, bowl.grad, start, tol=1e-9, max_iter=steps, record_path=True, **options)
        panel[i].contour(x, y, height, levels=np.geomspace(0.02, 40, 12), colors="0.8", linewidths=0.8)
        panel[i].plot(*result.path[:40].T, "o-", color=colour, markersize=3, linewidth=1)
        panel[i].plot(*bowl.minimum, "k*", markersize=9)
        panel[i].set(title=name, aspect="equal", xticks=[], yticks=[])
        panel["f"].semilogy([bowl.fun(p) for p in result.path], color=colour, label=name)
        if name.startswith("fixed"):
            bound = bowl.fun(start) * contraction(bowl.hessian, options["step_size"]) ** (
                2 * np.arange(len(result.path))
            )
            panel["f"].semilogy(bound, ":", color=colour, label="its bound by (3)")
    panel["f"].set(title="On the quadratic, κ = 10", xlabel="step k", ylabel="f − f*", xlim=(0, 120), ylim=(1e-16, 1e2))
    panel["f"].legend(fontsize=8)

    bend = rosenbrock()
    x, y = np.meshgrid(np.linspace(-1.6, 1.4, 200), np.linspace(-0.5, 1.9, 200))
    height = np.reshape([bend.fun(p) for p in np.column_stack([x.ravel(), y.ravel()])], x.shape)
    panel["v"].contour(x, y, height, levels=np.geomspace(0.05, 1000, 16), colors="0.8", linewidths=0.8)
    path = minimize(
        bend.fun, bend.grad, bend.start, rule="armijo", step_size=2.0**-9, max_iter=10 * steps, record_path=True
    ).path
    panel["v"].plot(*path.T, "-", color="C3", linewidth=1.2)
    for k in (0, 10, 100, 1000, 3000):
        if k < len(path):
            panel["v"].plot(*path[k], "o", color="C3", markersize=4)
            panel["v"].annotate(
                f"k = {k}", path[k], xytext=(7, -3 if k else -12), textcoords="offset points", fontsize=8
            )
    panel["v"].plot(1, 1, "k*", markersize=11)
    panel["v"].set(title="Rosenbrock's valley, Armijo: quick in, slow along", xlabel="x", ylabel="y")
    return fig
