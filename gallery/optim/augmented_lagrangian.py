"""The level lines as the multiplier is learnt, violations round by round, and the rate against the weight."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim._constrained import ConstrainedProblem, hock_schittkowski
from mlpath.optim.augmented_lagrangian import augmented_lagrangian, contraction, minimize
from mlpath.optim.penalty_barrier import minimize_penalty

CENTRE = np.array([0.6, 1.9])


def on_circle() -> ConstrainedProblem:
    """Return the point of the unit circle that is nearest to `CENTRE`, in a stretched distance."""
    matrix = np.diag([1.0, 0.4])
    return ConstrainedProblem(
        lambda x: float((x - CENTRE) @ matrix @ (x - CENTRE)) / 2,
        lambda x: matrix @ (x - CENTRE),
        lambda x: matrix,
        lambda x: np.array([(x @ x - 1) / 2]),
        lambda x: x[None].copy(),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 2)),
        lambda x, nu, lam: matrix + nu[0] * np.eye(2),
        np.array([0.6, 1.9]),
        np.full(2, np.nan),
    )


def figure() -> Figure:
    """Draw what the multiplier does to the objective, how fast the rounds converge, and why."""
    fig, axes = plt.subplots(1, 4, figsize=(19, 4.6), layout="constrained")
    _levels(axes[0], axes[1])
    _rounds(axes[2])
    _rates(axes[3])
    return fig


def _levels(first: Axes, last: Axes) -> None:
    problem = on_circle()
    result = minimize(problem, penalty=1.0)
    x, y = np.meshgrid(np.linspace(-1.6, 1.6, 60), np.linspace(-1.3, 1.9, 60))
    angle = np.linspace(0, 2 * np.pi, 300)
    for axes, nu, name in ((first, np.zeros(1), "before"), (last, result.equality_multipliers, "with the multiplier")):
        points = np.stack([x, y], axis=-1).reshape(-1, 2)
        values = [augmented_lagrangian(problem, point, nu, np.zeros(0), 1.0).value for point in points]
        heights = np.reshape(values, x.shape)
        axes.contour(x, y, heights, levels=heights.min() + np.linspace(0.02, 1.5, 12) ** 2, colors="0.7")
        axes.plot(np.cos(angle), np.sin(angle), "k")
        axes.plot(*points[np.argmin(values)], "C3o", label="its minimum")
        axes.plot(*result.x, "C2*", markersize=13, label="the solution")
        title = rf"$L_\rho$ {name}: $\nu$ = {nu[0]:.2f}, $\rho$ = 1"
        axes.set(aspect="equal", title=title, xlabel="$x_1$", ylabel="$x_2$")
        axes.legend(loc="lower left", fontsize=9)


def _rounds(axes: Axes) -> None:
    problem = hock_schittkowski()["HS42"]
    for weight, colour in ((10.0, "C0"), (100.0, "C1")):
        path = minimize(problem, penalty=weight, tol=1e-11, record_path=True).path
        assert path is not None
        errors = [problem.violation(x) for x in path]
        axes.semilogy(
            range(len(errors)), errors, ".-", color=colour, label=rf"method of multipliers, $\rho$ = {weight:g}"
        )
    path = minimize_penalty(problem, penalty=10.0, record_path=True).path
    assert path is not None
    errors = [problem.violation(x) for x in path]
    axes.semilogy(range(len(errors)), errors, "k.--", label=r"penalty, $\rho$ times 10 a round")
    axes.set(title="Round by round (HS42)", xlabel="round", ylabel="violation")
    axes.legend(fontsize=9)


def _rates(axes: Axes) -> None:
    problem = hock_schittkowski()["HS42"]
    nu = np.array([-2, 5 / np.sqrt(2) - 1])
    hessian = problem.lagrangian_hess(problem.minimum, nu, np.zeros(0))
    rows = problem.equality_jacobian(problem.minimum)
    weights = np.geomspace(1, 1e4, 30)
    axes.loglog(weights, [contraction(hessian, rows, float(w)) for w in weights], "C0", label="predicted by (6)")
    measured: list[float] = []
    tried = np.geomspace(15, 500, 6)
    for weight in tried:
        pair = [minimize(problem, penalty=float(weight), tol=1e-12, max_iter=k) for k in (2, 3)]
        errors = [np.linalg.norm(r.equality_multipliers - nu) for r in pair]
        measured.append(errors[1] / errors[0])
    axes.loglog(tried, measured, "C3o", label="measured, third round over second")
    axes.axhline(0.25, color="0.7", linestyle=":", label="slower: the weight grows")
    axes.set(title="What one round does to the error", xlabel=r"weight $\rho$", ylabel="factor")
    axes.legend(fontsize=9)
