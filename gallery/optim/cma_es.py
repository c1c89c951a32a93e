"""A run on a bent valley with its ellipses, how the step size and the axes change, what C learns, and many minima."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import rastrigin, rosenbrock
from mlpath.optim.cma_es import advance, begin, minimize, sample, strategy


def figure() -> Figure:
    """Draw four panels."""
    fig, axes = plt.subplots(1, 4, figsize=(18, 4.4), layout="constrained")
    _ellipses(axes[0])
    _axes(axes[1])
    _memory(axes[2])
    _draws(axes[3])
    return fig


def _run(fun, start, sigma, n_generations, n_draws, seed=0, active=True):
    rng, constants = np.random.default_rng(seed), strategy(len(start), n_draws, active=active)
    states = [begin(np.array(start, dtype=float), sigma)]
    for _ in range(n_generations):
        points = sample(states[-1], rng.standard_normal((n_draws, len(start))))
        states.append(advance(states[-1], constants, points, np.array([fun(x) for x in points])))
    return states


def _ellipses(axes: plt.Axes) -> None:
    problem, angle = rosenbrock(2), np.linspace(0, 2 * np.pi, 80)
    x, y = np.meshgrid(np.linspace(-1.8, 1.6, 140), np.linspace(-0.9, 1.8, 140))
    heights = [problem.fun(np.array(point)) for point in zip(x.ravel(), y.ravel())]
    axes.contour(x, y, np.log10(np.array(heights) + 1e-3).reshape(x.shape), levels=14, cmap="Greys", linewidths=0.6)
    states = _run(problem.fun, [-1.2, 1.0], 0.3, 90, 8, seed=4)
    for k in range(0, len(states), 9):
        rim = sample(states[k], 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
        axes.plot(*rim.T, color=plt.get_cmap("viridis")(k / len(states)), linewidth=1.2)
    axes.plot(*np.array([state.mean for state in states]).T, "k.-", markersize=2, linewidth=0.6)
    axes.plot(1, 1, "C3*", markersize=12)
    axes.set(title="Every ninth ellipse of draws", xlabel="$x_1$", ylabel="$x_2$", xlim=(-1.8, 1.6), ylim=(-0.9, 1.8))


def _axes(axes: plt.Axes) -> None:
    spectrum = np.geomspace(1, 1e6, 8)
    states = _run(lambda x: float(spectrum @ (x * x)), np.ones(8), 0.5, 380, 10)
    values = [max(float(spectrum @ state.mean**2), 1e-20) for state in states]
    axes.semilogy(values, "k", label="value at the mean")
    axes.semilogy([state.sigma for state in states], "C3", label=r"$\sigma$")
    axes.semilogy([state.lengths for state in states], color="C0", linewidth=0.7)
    axes.semilogy([], [], "C0", linewidth=0.7, label="axes $d$ of $C$")
    axes.set(title="Ellipsoid of condition $10^6$ in 8 variables", xlabel="generation", ylim=(1e-12, 1e8))
    axes.legend(fontsize=8)


def _memory(axes: plt.Axes) -> None:
    spectrum = np.geomspace(1, 1e6, 8)
    for colour, active in enumerate((True, False)):
        states = _run(lambda x: float(spectrum @ (x * x)), np.ones(8), 0.5, 380, 10, active=active)
        ratios = []
        for state in states:
            eigenvalues = np.linalg.eigvalsh(state.covariance * np.sqrt(np.outer(spectrum, spectrum)))
            ratios.append(eigenvalues[-1] / eigenvalues[0])
        axes.semilogy(ratios, color=f"C{colour}", label="active" if active else "positive weights only")
    axes.set(title="How far $C$ is from $H^{-1}$", xlabel="generation", ylabel="condition of $H^{1/2} C H^{1/2}$")
    axes.legend(fontsize=8)


def _draws(axes: plt.Axes) -> None:
    fun, sizes = rastrigin(3).fun, (6, 12, 25, 50)
    shares = []
    for n_draws in sizes:
        runs = [
            minimize(
                fun, [2.3, -2.8, 3.1], 2.0, rng=np.random.default_rng(seed), n_draws=n_draws, target=1e-2, tol=1e-2
            )
            for seed in range(15)
        ]
        shares.append(np.mean([run.fun <= 1e-2 for run in runs]))
    axes.semilogx(sizes, shares, "C0o-")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set(
        title="Rastrigin in 3 variables", xlabel="draws a generation", ylabel="share of 15 runs that find the best"
    )
    axes.set_ylim(-0.03, 1.03)
