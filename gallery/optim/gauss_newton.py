"""Real curves and their fits, walks of both methods, how fast they converge, and what the standard errors say."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._curves import boxbod, thurber
from mlpath.optim.gauss_newton import gauss_newton, levenberg_marquardt, uncertainty


def figure() -> Figure:
    """Draw four panels: Thurber's fit, walks on BoxBOD, rates by the size of the residuals, and an ellipse of errors."""
    fig, axes = plt.subplots(1, 4, figsize=(18, 4.4), layout="constrained")
    _fit(axes[0])
    _walks(axes[1])
    _rates(axes[2])
    _errors(axes[3])
    return fig


def _fit(axes: plt.Axes) -> None:
    curve, grid = thurber(), np.linspace(-3.2, 2.3, 300)
    walk = levenberg_marquardt(curve.residuals, curve.slopes, curve.starts[0], record_path=True)
    axes.plot(curve.x, curve.y, "k.", label="measured")
    for step, colour in ((0, "C3"), (2, "C1"), (walk.nit, "C0")):
        axes.plot(grid, curve.model(walk.path[step], grid), color=colour, label=f"after {step} steps")
    axes.set(title="Thurber's electron mobility", xlabel="logarithm of the density", ylim=(-200, 2000))
    axes.legend(fontsize=8)


def _walks(axes: plt.Axes) -> None:
    curve = boxbod()
    first, second = np.meshgrid(np.linspace(1, 300, 120), np.linspace(0.02, 2.2, 120))
    points = np.stack([first, second], axis=-1).reshape(-1, 2)
    costs = np.array([np.log10((curve.residuals(b) ** 2).sum()) for b in points]).reshape(first.shape)
    axes.contourf(first, second, costs, levels=20, cmap="Greys")
    with np.errstate(over="ignore", invalid="ignore"):
        for colour, (name, damping, start) in enumerate(
            (("Gauss-Newton", None, [100, 0.75]), ("damping 0.001", 1e-3, [100, 0.75]), ("damping 100", 100, [1, 1]))
        ):
            method = {} if damping is None else {"damping": damping}
            walk = (gauss_newton if damping is None else levenberg_marquardt)(
                curve.residuals, curve.slopes, start, record_path=True, **method
            )
            axes.plot(*walk.path.T, "o-", color=f"C{colour}", markersize=3, label=f"{name}, {walk.nit} steps")
    axes.plot(*curve.certified, "y*", markersize=12)
    axes.set(title="Walks on BoxBOD's sum of squares", xlabel="$b_1$", ylabel="$b_2$", xlim=(1, 300), ylim=(0.02, 2.2))
    axes.legend(fontsize=8, loc="upper left")


def _rates(axes: plt.Axes) -> None:
    for colour, bend in enumerate((0.02, 0.3, 0.6, 0.9, -1.3)):
        walk = gauss_newton(
            lambda x, bend=bend: np.array([x[0] + 1, bend * x[0] ** 2 + x[0] - 1]),
            lambda x, bend=bend: np.array([[1.0], [2 * bend * x[0] + 1]]),
            [0.05],
            max_iter=20,
            record_path=True,
        )
        label = rf"$-(J^\top J)^{{-1}} S$ = {bend:g}"
        axes.semilogy(abs(walk.path[:, 0]), "o-", markersize=3, color=f"C{colour}", label=label)
    axes.set(title="Gauss-Newton's rate is that of (3)", xlabel="step", ylabel="error", ylim=(1e-9, 10))
    axes.legend(fontsize=8)


def _errors(axes: plt.Axes) -> None:
    curve, rng = boxbod(), np.random.default_rng(0)
    fit = levenberg_marquardt(curve.residuals, curve.slopes, curve.starts[1])
    known = uncertainty(fit.jacobian, fit.residuals)
    values, refits = curve.model(fit.x, curve.x), []
    for _ in range(300):
        noisy = values + known.residual_deviation * rng.standard_normal(len(values))
        again = levenberg_marquardt(
            lambda b, noisy=noisy: curve.model(b, curve.x) - noisy, curve.slopes, fit.x, tol=1e-5, max_iter=50
        )
        refits.append(again.x)
    axes.plot(*np.array(refits).T, ".", color="0.6", markersize=3, label="refits of simulated data")
    angle = np.linspace(0, 2 * np.pi, 200)
    lower = np.linalg.cholesky(known.covariance)
    rim = fit.x[:, None] + 2 * lower @ np.stack([np.cos(angle), np.sin(angle)])
    axes.plot(*rim, "C3", label="two standard errors")
    axes.plot(*fit.x, "k*", markersize=10)
    axes.set(title="BoxBOD: how well are they known?", xlabel="$b_1$", ylabel="$b_2$", xlim=(165, 290), ylim=(0.1, 1.2))
    axes.legend(fontsize=8)
