"""Where points land on six sets, and what Dykstra's method finds where projections in turn do not."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.projected_gradient.projections import (
    dykstra,
    project_ball,
    project_box,
    project_half_space,
    project_l1_ball,
    project_second_order_cone,
    project_simplex,
)

SETS = {
    "box": lambda x: project_box(x, [-1.2, -0.7], [0.8, 1.0]),
    "ball": lambda x: project_ball(x, 1.0, center=[0.2, 0.0]),
    "half-plane": lambda x: project_half_space(x, np.array([1.0, 2.0]), 0.6),
    "ball of the 1-norm": lambda x: project_l1_ball(x, 1.2),
    "simplex": lambda x: project_simplex(x, 1.2),
    "second-order cone": project_second_order_cone,
}


def figure() -> Figure:
    """Draw six sets with points around them, and the two ways to an intersection."""
    fig = plt.figure(figsize=(15, 6.2), layout="constrained")
    grid = fig.add_gridspec(2, 5)
    for number, (name, project) in enumerate(SETS.items()):
        _one_set(fig.add_subplot(grid[number // 3, number % 3]), name, project)
    _intersection(fig.add_subplot(grid[:, 3:]))
    return fig


def _one_set(axes: plt.Axes, name: str, project) -> None:
    side = np.linspace(-2.2, 2.2, 301)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    moved = np.linalg.norm(project(plane) - plane, axis=-1)
    axes.contourf(side, side, moved, levels=[-1, 1e-9], colors=["0.85"])
    corners = np.arange(-2.0, 2.1, 0.5)
    points = np.stack(np.meshgrid(corners, corners), axis=-1).reshape(-1, 2)
    found = project(points)
    outside = np.linalg.norm(found - points, axis=-1) > 1e-9
    for start, end in zip(points[outside], found[outside], strict=True):
        axes.plot(*np.transpose([start, end]), color="C0", linewidth=0.8, alpha=0.7)
    axes.plot(*points[outside].T, ".", color="C0", markersize=3)
    axes.plot(*found[outside].T, "o", color="C3", markersize=4)
    axes.set(title=name, xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2])


def _intersection(axes: plt.Axes) -> None:
    def disc(x: np.ndarray) -> np.ndarray:
        return project_ball(x, 1.0)

    def below(x: np.ndarray) -> np.ndarray:
        return project_half_space(x, np.array([-0.55, 1.0]), -0.25)

    start = np.array([0.1, 1.75])
    side = np.linspace(-1.3, 1.9, 301)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    both = np.linalg.norm(disc(plane) - plane, axis=-1) + np.linalg.norm(below(plane) - plane, axis=-1)
    axes.contourf(side, side, both, levels=[-1, 1e-9], colors=["0.85"])
    angles = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angles), np.sin(angles), color="0.5")
    axes.plot(side, -0.25 + 0.55 * side, color="0.5")

    in_turn = [start]
    for _ in range(12):
        in_turn += [disc(in_turn[-1])]
        in_turn += [below(in_turn[-1])]
    axes.plot(*np.transpose(in_turn), ".-", color="C1", linewidth=5, alpha=0.5, label="projections in turn")
    axes.plot(*in_turn[-1], "s", color="C1", markersize=9)

    visited = [start]

    def remembered(project):
        def wrapped(x: np.ndarray) -> np.ndarray:
            visited.append(project(x))
            return visited[-1]

        return wrapped

    result = dykstra(start, [remembered(disc), remembered(below)], max_iter=500)
    axes.plot(*np.transpose(visited), ".-", color="C0", label="Dykstra")
    axes.plot(*result.x, "*", color="C0", markersize=17, label="the nearest point")
    axes.add_patch(plt.Circle(tuple(start), np.linalg.norm(result.x - start), fill=False, linestyle=":", color="C0"))
    axes.plot(*start, "ko")
    axes.annotate("start", start, xytext=(8, 4), textcoords="offset points")
    axes.set(title="A disc and a half-plane: into both, and the nearest", xlim=(-1.3, 1.9), ylim=(-1.2, 2.0))
    axes.set_aspect("equal")
    axes.legend(loc="lower left")
