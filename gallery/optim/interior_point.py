"""Paths through a polygon, how the residuals fall, and how the number of steps grows."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim._programs import Program, klee_minty, program, random_program
from mlpath.optim.interior_point import (
    Iterate,
    direction,
    predictor_corrector,
    reduced_solver,
    residuals,
    solve,
    starting_point,
    step_length,
)

COST = np.array([-0.35, -1.0])


def polygon() -> Program:
    """Return a linear program with nine walls around the origin."""
    angles = np.linspace(0, 2 * np.pi, 9, endpoint=False) + 0.2
    return program(COST, G=np.column_stack([np.cos(angles), np.sin(angles)]), h=np.linspace(0.8, 1.3, 9))


def figure() -> Figure:
    """Draw where the method goes, how fast, and for how long."""
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(17, 5), layout="constrained")
    _paths(left)
    _residuals(middle)
    _counts(right)
    return fig


def _central(p: Program, mu: float, at: Iterate) -> Iterate:
    """Return the point of the central path with these products, by Newton's method from a point close by."""
    for _ in range(12):
        step = direction(p, at, reduced_solver(p, at.lam / at.s), at.s * at.lam - mu)
        at = at.moved(step, step_length(at, step, 0.9))
    return at


def _paths(axes: Axes) -> None:
    p = polygon()
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, 300), np.linspace(-1.5, 1.6, 300))
    points = np.stack([x, y], axis=-1)
    axes.contourf(x, y, (points @ p.G.T <= p.h).all(axis=-1), levels=[0.5, 1.5], colors=["0.9"])
    axes.contour(x, y, points @ COST, levels=12, colors="0.8", linewidths=0.8)
    at, central = starting_point(p), []
    for mu in np.geomspace(10, 1e-6, 40):
        at = _central(p, float(mu), at)
        central.append(at.x)
    axes.plot(*np.array(central).T, "k-", linewidth=3, alpha=0.3, label="central path")
    for begin, colour in (((0.9, -0.8), "C0"), ((-0.8, -0.9), "C1"), ((-1.0, 0.4), "C2")):
        at = Iterate(np.array(begin), np.maximum(p.h - p.G @ begin, 0.05), np.zeros(0), np.full(9, 0.3))
        path = [at.x]
        for _ in range(9):
            at = predictor_corrector(p, at)
            path.append(at.x)
        axes.plot(*np.array(path).T, "o-", color=colour, markersize=5, label=f"from {begin}")
    axes.plot(*solve(p).x, "k*", markersize=15)
    axes.set(aspect="equal", ylim=(-1.5, 2.3), title="Through the middle", xlabel="$x_1$", ylabel="$x_2$")
    axes.legend(loc="upper left", fontsize=9)


def _residuals(axes: Axes) -> None:
    p = random_program(80, 20, 160, rank=30, rng=np.random.default_rng(2))
    at, found = starting_point(p), []
    for _ in range(12):
        off = residuals(p, at)
        found.append([abs(off.dual).max(), abs(off.equality).max() + 1e-17, abs(off.inequality).max(), off.mu])
        at = predictor_corrector(p, at)
    names = ("slope $r_d$", "equations $r_e$", "inequalities $r_i$", r"mean product $\mu$")
    for values, name in zip(np.array(found).T, names):
        axes.semilogy(values, ".-", label=name)
    axes.set(title="Faster and faster: a quadratic program of 80 variables", xlabel="step", ylabel="largest entry")
    axes.legend(fontsize=9)


def _counts(axes: Axes) -> None:
    sizes = np.array([5, 10, 20, 40, 80, 160])
    for rank, name, colour in ((0, "linear", "C0"), (1, "quadratic", "C1")):
        counts = []
        for n in sizes:
            rngs = [np.random.default_rng(k) for k in range(4)]
            counts.append([solve(random_program(n, n // 4, 2 * n, rank=rank * n // 2, rng=rng)).nit for rng in rngs])
        axes.semilogx(sizes, np.mean(counts, axis=1), "o-", color=colour, label=f"random, {name}")
    dims = np.arange(2, 11)
    axes.semilogx(dims, [solve(klee_minty(int(n))).nit for n in dims], "s--", color="C3", label="Klee and Minty's cube")
    axes.set(title="Steps until 1e-8", xlabel="variables", ylabel="steps", ylim=(0, None))
    axes.legend(fontsize=9)
