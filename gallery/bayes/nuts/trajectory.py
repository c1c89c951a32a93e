"""How trees grow on a banana, where the next state comes from, and how the number of steps follows the place in a funnel."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes import _targets as targets
from mlpath.bayes.nuts.trajectory import System, explore, place, roll, step


def walk(system, tree):
    """The positions of all points of a tree."""
    point, found = tree.left, [tree.left.position]
    for _ in range(2**tree.depth - 1):
        point = roll(system, point, 1)
        found.append(point.position)
    return np.array(found)


def figure(n_trees: int = 2000) -> Figure:
    """Above: three trees of one start. Below: draws of many trees of it by their weights; steps in a funnel."""
    rng = np.random.default_rng(1)
    fig = plt.figure(figsize=(11, 8), layout="constrained")
    upper, lower = fig.subfigures(2, 1)

    banana = targets.banana(0.5, 2.0)
    system = System(banana.log_density, banana.gradient, 0.15, np.ones(2))
    start = place(system, np.array([-1.0, -1.0]), np.array([2.5, 0.5]))
    x, y = np.meshgrid(np.linspace(-5.5, 5.5, 150), np.linspace(-5, 8, 150))
    height = np.exp(banana.log_density(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape))
    for ax in upper.subplots(1, 3, sharey=True):
        tree = explore(system, start, rng=rng)
        ax.contourf(x, y, height, levels=6, cmap="Greys", alpha=0.5)
        ax.plot(*walk(system, tree).T, ".-", color="tab:blue", linewidth=0.8, markersize=4, label="points of the tree")
        ax.plot(*start.position, "o", color="tab:green", label="start")
        ax.plot(*tree.choice.position, "*", color="tab:red", markersize=12, label="next state")
        ax.set(title=f"{2**tree.depth} points, {tree.n_steps} gradients", xlabel="$x_1$")
    upper.axes[0].set_ylabel("$x_2$")
    upper.axes[0].legend(loc="upper center")

    times, steps = lower.subplots(1, 2)
    plain = targets.normal(np.zeros(2), np.eye(2))
    system = System(plain.log_density, plain.gradient, 0.35, np.ones(2))
    start = place(system, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    angles = []
    for _ in range(n_trees):
        q = explore(system, start, rng=rng).choice.position
        angles.append(np.degrees(np.arctan2(q[1], q[0])))
    # Each step turns the circle by 20 degrees; a path of 16 points spans 300.
    times.hist(angles, np.arange(-190, 191, 10), color="tab:blue", alpha=0.7, density=True)
    times.axvline(0, color="tab:green", linewidth=2, label="start")
    times.set(
        title=f"next state on a circle, {n_trees:,} trees of one start", xlabel="angle in degrees", ylabel="density"
    )
    times.legend()

    funnel = targets.funnel(5, 2.0)
    system = System(funnel.log_density, funnel.gradient, 0.3, np.ones(5))
    starts = funnel.exact(rng, 400)
    trees = [step(system, place(system, q, np.zeros(5)), rng=rng) for q in starts]
    counts, divergent = np.array([tree.n_steps for tree in trees]), np.array([tree.divergent for tree in trees])
    steps.semilogy(starts[~divergent, 0], counts[~divergent], ".", color="tab:blue", alpha=0.5, label="tree turned")
    steps.semilogy(starts[divergent, 0], counts[divergent], "x", color="tab:red", label="divergent")
    steps.set(
        title="one tree from each of 400 draws of a funnel", xlabel="$x_1$: narrow on the left", ylabel="leapfrog steps"
    )
    steps.legend(loc="upper left")
    return fig
