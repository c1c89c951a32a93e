"""A trajectory and its energy, Hamiltonian moves beside a random walk on the banana, and where a funnel makes them diverge."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes import _targets as targets
from mlpath.bayes.hamiltonian_monte_carlo import kinetic_energy, leapfrog, sample


def contours(ax, target, x, y, levels):
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    height = target.log_density(grid).reshape(len(y), len(x))
    ax.contour(x, y, height - height.max(), levels=levels, colors="0.7", linewidths=0.8, linestyles="solid")


def figure(n_draws: int = 400) -> Figure:
    """Above: one trajectory, its energy error for two step sizes. Below: draws on a banana, and on a funnel."""
    rng = np.random.default_rng(0)
    fig = plt.figure(figsize=(11, 8), layout="constrained")
    (path, energy), (banana, funnel) = fig.subplots(2, 2)
    one, target = np.ones(2), targets.banana()
    start, push = np.array([[-3.0, 2.2]]), np.array([[1.6, -0.8]])
    contours(path, target, np.linspace(-6, 6, 120), np.linspace(-5, 13, 120), [-8, -4, -2, -0.5])
    for size, colour in ((0.1, "tab:blue"), (0.4, "tab:orange")):
        points, errors = [start[0]], [0.0]
        state = start, push, target.gradient(start)
        total = kinetic_energy(push, one) - target.log_density(start)
        for _ in range(round(12 / size)):
            state = leapfrog(target.gradient, *state, step_size=np.array([size]), n_steps=1, inverse_mass=one)
            points.append(state[0][0])
            errors.append((kinetic_energy(state[1], one) - target.log_density(state[0]) - total)[0])
        path.plot(*np.array(points).T, ".-", color=colour, markersize=4, linewidth=0.7, label=f"steps of {size}")
        energy.plot(size * np.arange(len(errors)), errors, color=colour, label=f"steps of {size}")
    path.set(xlabel="$x_1$", ylabel="$x_2$", title="One trajectory, computed twice")
    energy.axhline(0, color="k", linewidth=0.5)
    energy.set(ylim=(-0.4, 1.2), xlabel="time", ylabel="energy error", title="The energy swings, and does not drift")
    run = sample(target.log_density, target.gradient, start, n_draws, n_steps=20, n_warm_up=300, rng=rng)
    contours(banana, target, np.linspace(-7, 7, 120), np.linspace(-5, 20, 120), [-8, -4, -2, -0.5])
    banana.plot(*run.draws[0].T, ".", markersize=3, color="tab:blue")
    banana.plot(*run.draws[0, :15].T, "-", linewidth=0.8, color="tab:red", label="the first 15 moves")
    banana.set(xlabel="$x_1$", ylabel="$x_2$", title=f"{n_draws} draws of one chain")
    target = targets.funnel(2)
    run = sample(
        target.log_density,
        target.gradient,
        target.exact(rng, 20),
        n_draws,
        n_steps=20,
        n_warm_up=0,
        step_size=0.3,
        rng=rng,
    )
    contours(funnel, target, np.linspace(-7, 8, 150), np.linspace(-15, 15, 150), [-8, -5, -3, -1.5])
    funnel.plot(*run.draws[::4].reshape(-1, 2).T, ".", markersize=1.5, color="tab:blue")
    stuck = run.draws[run.divergent]
    funnel.plot(*stuck.T, "x", markersize=5, color="tab:red", label=f"{len(stuck)} divergences begin here")
    funnel.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-7, 8), ylim=(-15, 15), title="The funnel, steps of 0.3")
    for ax in (path, energy, banana, funnel):
        ax.legend(frameon=False, loc="upper right" if ax is energy else "best", fontsize=9)
    return fig
