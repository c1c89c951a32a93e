"""One update by the graph, what widths cost, a funnel, and an ellipse."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes._targets import funnel
from mlpath.bayes.slice_sampling import (
    State,
    coordinate_sweep,
    draw_level,
    elliptical_step,
    sample,
    shrink,
    step_out,
    update_along,
)


def bumps(x):
    """Two bumps of different widths."""
    x = x[:, 0]
    return np.logaddexp(np.log(0.6) - (x + 1.5) ** 2 / 0.72, np.log(0.5) - (x - 1.2) ** 2 / 2)


def normal(x):
    """Standard normal."""
    return -(x**2).sum(axis=1) / 2


def figure(n_chains: int = 300) -> Figure:
    """Above: a level, an interval and a point; evaluations against the width. Below: draws from a funnel; ellipses."""
    rng = np.random.default_rng(12)
    fig, ((graph, cost), (neck, ellipse)) = plt.subplots(2, 2, figsize=(11, 8.5), layout="constrained")

    x = np.linspace(-4, 5, 500)
    height = np.exp(bumps(x[:, None]))
    graph.plot(x, height, "k", linewidth=1)
    start = np.full((1, 1), 0.9)
    log_density = bumps(start)
    level = draw_level(log_density, rng=rng)
    interval = step_out(bumps, start, np.ones((1, 1)), level, width=0.8, max_steps=20, rng=rng)
    state, _ = shrink(bumps, start, np.ones((1, 1)), level, interval, rng=rng)
    h = float(np.exp(level[0]))
    graph.fill_between(x, h, height, where=height >= h, color="tab:green", alpha=0.2, label="above the level")
    ends = 0.9 + np.array([interval.left[0], interval.right[0]])
    graph.plot(ends, [h, h], "|-", color="tab:blue", markersize=14, label="interval, stepped out by 0.8")
    graph.vlines(0.9, 0, float(np.exp(log_density[0])), color="tab:red", linestyle=":")
    graph.plot(0.9, h, "o", color="tab:red", label="height drawn below the graph")
    graph.plot(state.position[0, 0], h, "s", color="tab:purple", label="next point")
    graph.set(title="one update", xlabel="$x$", ylabel="density, up to a constant", ylim=(0, 0.95))
    graph.legend(loc="upper right", fontsize="small")

    widths = np.geomspace(0.03, 300, 17)
    here = rng.standard_normal((n_chains, 1))
    for max_steps, colour in ((1000, "tab:blue"), (3, "tab:orange")):
        means = []
        for width in widths:
            state = State(here, normal(here))
            _, n = update_along(normal, state, np.ones_like(here), width=width, max_steps=max_steps, rng=rng)
            means.append(n.mean())
        cost.loglog(widths, means, "o-", markersize=4, color=colour, label=f"at most {max_steps} widths")
    cost.set(title="evaluations of an update, standard normal density", xlabel="width", ylabel="mean number")
    cost.legend()

    target = funnel(2, 3.0)
    run = sample(
        target.log_density, target.exact(rng, n_chains), 10, update=partial(coordinate_sweep, width=5.0), rng=rng
    )
    exact = target.exact(rng, 3000)
    neck.plot(exact[:, 1], exact[:, 0], ".", color="tab:grey", markersize=2, label="exact draws")
    neck.plot(run.draws[:, -1, 1], run.draws[:, -1, 0], ".", color="tab:red", markersize=4, label="after ten sweeps")
    neck.set(
        title="Neal's funnel: one width for all scales", xlabel="$x_2$", ylabel="$x_1$", xlim=(-30, 30), ylim=(-10, 10)
    )
    neck.legend(loc="upper right")

    mean, factor = np.zeros(2), np.array([[1.0, 0.0], [0.7, 0.6]])

    def log_likelihood(p):
        return -8 * (np.hypot(p[:, 0] - 0.4, p[:, 1]) - 1.2) ** 2

    where = np.array([[1.2, 1.0]])
    angle = np.linspace(0, 2 * np.pi, 200)[:, None]
    grid = np.stack(np.meshgrid(np.linspace(-3, 3, 120), np.linspace(-3, 3, 120)), axis=-1)
    look = log_likelihood(grid.reshape(-1, 2)).reshape(120, 120)
    ellipse.contourf(grid[..., 0], grid[..., 1], np.exp(look), 8, cmap="Greens", alpha=0.7)
    for _ in range(4):
        other = rng.standard_normal((1, 2)) @ factor.T
        ellipse.plot(*(where * np.cos(angle) + other * np.sin(angle)).T, color="tab:blue", linewidth=0.8)
    run = sample(
        log_likelihood,
        np.repeat(where, n_chains, axis=0),
        8,
        update=partial(elliptical_step, mean=mean, factor=factor),
        rng=rng,
    )
    ellipse.plot(*run.draws[:, -1].T, ".", color="tab:red", markersize=4, label=f"{n_chains} chains, eight updates")
    ellipse.plot(*where[0], "ko", label="where all began; four ellipses through it")
    ellipse.set(
        title="elliptical slice sampling: green is the likelihood",
        xlabel="$x_1$",
        ylabel="$x_2$",
        xlim=(-3, 3),
        ylim=(-3, 3),
    )
    ellipse.legend(loc="lower right", fontsize="small")
    return fig
