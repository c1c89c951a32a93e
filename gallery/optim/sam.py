"""A valley that SAM leaves, jumps as wide as predicted, and the sharpness of a network's minimum by radius."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.sam import NoState, average_rise, descent, minimize, top_eigenvalue

RADII = (0.0, 0.1, 0.3)


def figure(*, steps: int = 150) -> Figure:
    """Draw the walks in two valleys, the jumps in a parabola, and the sharpness of what is found on digits."""
    fig, axes = plt.subplots(1, 3, figsize=(16.5, 4.8), layout="constrained")
    _valleys(axes[0])
    _jumps(axes[1])
    _network(axes[2], steps)
    return fig


def _valleys(axes: plt.Axes) -> None:
    """Draw walks from the sharp valley over the contours of the objective."""

    def fun(p: np.ndarray) -> np.ndarray:
        x, y = p
        return 0.1 * (x**2 - 1) ** 2 + 0.02 * x + (5.5 - 4.5 * np.tanh(1.5 * x)) * y**2 / 2

    def grad(p: np.ndarray) -> np.ndarray:
        (x, y), bend = p, np.tanh(1.5 * p[0])
        return np.array([0.4 * x * (x**2 - 1) + 0.02 - 6.75 * (1 - bend**2) * y**2 / 2, (5.5 - 4.5 * bend) * y])

    grid = np.meshgrid(np.linspace(-1.6, 1.6, 200), np.linspace(-0.75, 0.75, 200))
    axes.contour(*grid, fun(np.array(grid)), levels=np.geomspace(0.01, 4, 16) - 0.02, colors="0.8", linewidths=0.8)
    rule = partial(descent, step_size=0.1)
    for i, radius in enumerate(RADII):
        settings = {"radius": radius, "max_iter": 200, "record_path": True}
        path = minimize(lambda p: float(fun(p)), grad, [-1.35, 0.6], rule, NoState, **settings).path
        assert path is not None
        axes.plot(*path.T, ".-", color=f"C{i}", linewidth=0.7, markersize=3, label=f"ρ = {radius}")
        axes.plot(*path[-1], "o", color=f"C{i}", markeredgecolor="black")
    axes.set(title="A sharp valley (left) and a flat one; a = 0.1", xlabel="x", ylabel="y")
    axes.legend(loc="upper right")


def _jumps(axes: plt.Axes) -> None:
    """Draw how far the walk ends from the bottom of parabolas, and what is predicted."""
    curvatures = np.linspace(0.5, 19, 38)
    for i, radius in enumerate((0.05, 0.1, 0.2)):
        ends = [
            minimize(
                lambda x, k=k: k / 2 * float(x @ x),
                lambda x, k=k: k * x,
                [0.3137],
                partial(descent, step_size=0.1),
                NoState,
                radius=radius,
                max_iter=400,
            ).x[0]
            for k in curvatures
        ]
        axes.semilogy(curvatures, np.abs(ends), "o", color=f"C{i}", markersize=4, label=f"ρ = {radius}")
        share = 0.1 * curvatures
        axes.plot(curvatures, share * radius / (2 - share), color=f"C{i}", linewidth=1)
    axes.set(
        title="Jumps at the bottom of λx²/2; lines: equation (6)", xlabel="curvature λ", ylabel="|x| after 400 steps"
    )
    axes.legend(title="a = 0.1")


def _network(axes: plt.Axes, steps: int) -> None:
    """Draw two measures of sharpness after training with several radii."""
    x, y = digits(100)
    model = perceptron((64, 8, 10), generator=torch.Generator().manual_seed(0))
    weights = list(model.parameters())
    start = parameters_to_vector(weights).detach().numpy().copy()

    def loss(point: np.ndarray) -> torch.Tensor:
        vector_to_parameters(torch.as_tensor(point), weights)
        return cross_entropy(model(x), y)

    def grad(point: np.ndarray) -> np.ndarray:
        return parameters_to_vector(torch.autograd.grad(loss(point), weights)).numpy()

    def hvp(point: np.ndarray, v: np.ndarray) -> np.ndarray:
        gradient = parameters_to_vector(torch.autograd.grad(loss(point), weights, create_graph=True))
        return parameters_to_vector(torch.autograd.grad(gradient @ torch.as_tensor(v), weights)).numpy()

    def fun(point: np.ndarray) -> float:
        return float(loss(point).detach())

    radii, tops, averages, losses = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5), [], [], []
    for radius in radii:
        found = minimize(fun, grad, start, partial(descent, step_size=1.0), NoState, radius=radius, max_iter=steps)
        rng = np.random.default_rng(0)
        tops.append(top_eigenvalue(hvp, found.x, tol=1e-2, n_steps=60, rng=rng))
        averages.append(100 * average_rise(fun, found.x, 0.05, n_draws=100, rng=rng))
        losses.append(10 * found.fun)
    axes.plot(radii, tops, "o-", label="largest eigenvalue")
    axes.plot(radii, averages, "s-", label="100 × average rise, σ = 0.05")
    axes.plot(radii, losses, "^:", color="0.5", label="10 × training loss")
    axes.set(title=f"100 digits, {steps} steps of a = 1", xlabel="radius ρ", ylim=(0, None))
    axes.legend()
