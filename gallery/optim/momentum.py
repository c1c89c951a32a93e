"""Momentum in a narrow valley, the rates that theory predicts, and what a restart does."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import breast_cancer, quadratic
from mlpath.optim.momentum import minimize, optimal_coefficients, rate


def figure(*, steps: int = 1500) -> Figure:
    """Draw walks in a valley, their convergence for a condition number of 1000, and restarts on real data."""
    fig, (plane, curves, real) = plt.subplots(1, 3, figsize=(16, 4.8), layout="constrained")

    valley = quadratic(np.array([1.0, 30.0]), rng=np.random.default_rng(5))
    start = valley.minimum + np.linalg.eigh(valley.hessian)[1] @ [4.0, 0.7]
    x, y = np.meshgrid(valley.minimum[0] + np.linspace(-4.4, 1.2, 200), valley.minimum[1] + np.linspace(-2.6, 1.4, 200))
    height = np.reshape([valley.fun(p) for p in np.column_stack([x.ravel(), y.ravel()])], x.shape)
    plane.contour(x, y, height, levels=np.geomspace(0.02, 100, 12), colors="0.8", linewidths=0.8)
    for name, colour, options in _methods(1.0, 30.0):
        path = minimize(
            valley.fun, valley.grad, start, max_iter=min(steps, 40), tol=0.0, record_path=True, **options
        ).path
        plane.plot(*path.T, "o-", color=colour, markersize=3, linewidth=1, label=name)
    plane.plot(*valley.minimum, "k*", markersize=11)
    plane.set(title="40 steps in a valley, κ = 30", xlabel="x", ylabel="y", aspect="equal")
    plane.legend(fontsize=8)

    spectrum = np.geomspace(1.0, 1000.0, 20)
    steep = quadratic(spectrum, rng=np.random.default_rng(0))
    for name, colour, options in _methods(1.0, 1000.0):
        result = minimize(steep.fun, steep.grad, steep.start, max_iter=steps, tol=1e-13, record_path=True, **options)
        errors = np.linalg.norm(result.path - steep.minimum, axis=1)
        curves.semilogy(errors, color=colour, label=name)
        slope = rate(spectrum, **options)
        curves.semilogy(errors[0] * slope ** np.arange(len(errors)), ":", color=colour)
    curves.set(title="Error for κ = 1000 (dotted: the rate from the roots)", xlabel="step k", ylabel="‖x − x*‖")
    curves.set_ylim(1e-12, 1e3)
    curves.legend(fontsize=8)

    tumours = breast_cancer(ridge=1e-3)
    for name, colour, options in (
        ("no momentum", "C0", {"momentum": 0.0}),
        ("growing momentum", "C2", {}),
        ("growing, with restart", "C3", {"restart": True}),
    ):
        result = minimize(
            tumours.fun,
            tumours.grad,
            tumours.start,
            step_size=1 / tumours.smoothness,
            max_iter=steps,
            record_path=True,
            **options,
        )
        above = np.array([tumours.fun(p) for p in result.path]) - tumours.fun(tumours.minimum)
        real.loglog(np.arange(1, len(above) + 1), np.maximum(above, 1e-17), color=colour, label=name)
    k = np.arange(1, steps + 1)
    bound = 2 * tumours.smoothness * np.sum((tumours.start - tumours.minimum) ** 2) / (k + 1) ** 2
    real.loglog(k, bound, "k:", label="the bound 1/k² of (10)")
    real.set(title="Logistic regression on 569 tumours", xlabel="step k", ylabel="f − f*", ylim=(1e-11, 1e3))
    real.legend(fontsize=8, loc="lower left")
    return fig


def _methods(low: float, high: float) -> list[tuple[str, str, dict]]:
    rolling, looking = (optimal_coefficients(low, high, method) for method in ("heavy_ball", "nesterov"))
    return [
        ("gradient descent", "C0", {"step_size": 2 / (low + high), "momentum": 0.0, "method": "heavy_ball"}),
        ("heavy ball", "C1", {"step_size": rolling[0], "momentum": rolling[1], "method": "heavy_ball"}),
        ("Nesterov", "C2", {"step_size": looking[0], "momentum": looking[1], "method": "nesterov"}),
    ]
