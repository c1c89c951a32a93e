"""What clipping does to a gradient, a cliff walked with and without it, and gradients over depth and time."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from mlpath.optim.gradient_clipping import (
    adaptive_clip,
    clip_by_norm,
    clip_by_value,
    growth_factor,
    jacobian_product,
)


def figure() -> Figure:
    """Draw clipped directions, walks at a cliff, gradient norms over depth, and Jacobians over time."""
    fig, axes = plt.subplots(1, 4, figsize=(20, 4.6), layout="constrained")
    _directions(axes[0])
    _cliff(axes[1])
    _depth(axes[2])
    _time(axes[3])
    return fig


def _directions(axes: plt.Axes) -> None:
    """Draw where gradients of length 2 in all directions come to by three rules."""
    angles = np.linspace(0, 2 * np.pi, 361)
    circle = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    weight = torch.tensor([[60.0], [25.0]])
    rules = {
        "by value, c = 0.8": lambda g: clip_by_value([g], 0.8)[0],
        "by norm, c = 1": lambda g: clip_by_norm([g], 1.0)[0][0],
        "adaptive, units of norm 60 and 25": lambda g: adaptive_clip([weight], [g[:, None]], clipping=0.01)[0][:, 0],
    }
    axes.plot(*circle.T, color="0.7", label="gradient")
    for label, rule in rules.items():
        clipped = np.array([rule(torch.tensor(g, dtype=torch.float32)).numpy() for g in circle])
        axes.plot(*clipped.T, label=label)
    axes.plot([0, 2 * math.cos(0.4)], [0, 2 * math.sin(0.4)], color="black", linewidth=0.7)
    axes.set(
        title="Gradients of length 2, clipped", xlabel="first entry", ylabel="second", aspect="equal", ylim=(-2.2, 3.4)
    )
    axes.legend(fontsize=8, loc="upper center")


def _cliff(axes: plt.Axes) -> None:
    """Draw walks down a cliff."""

    def fun(x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(40 * (x - 1)) + 0.05 * ((1 + x**2).sqrt() - 1)

    def slope(x: torch.Tensor) -> torch.Tensor:
        step = torch.sigmoid(40 * (x - 1))
        return 40 * step * (1 - step) + 0.05 * x / (1 + x**2).sqrt()

    grid = torch.linspace(-17, 2, 2000)
    axes.plot(grid, fun(grid), color="0.6")
    for max_norm, style, label in ((1e9, "o--", "plain"), (0.5, "s-", "clipped at 0.5")):
        points = [torch.tensor([1.5])]
        for _ in range(30):
            (gradient,), _ = clip_by_norm([slope(points[-1])], max_norm)
            points.append(points[-1] - 2 * gradient)
        x = torch.cat(points)
        axes.plot(x, fun(x), style, markersize=4, linewidth=0.8, label=label)
    axes.set(title="A cliff at 1; 30 steps of a = 2 from 1.5", xlabel="x", ylabel="f(x)")
    axes.legend()


def _depth(axes: plt.Axes) -> None:
    """Draw squared gradient norms of deep networks against the predicted factor."""
    units, n_layers = 200, 30
    for i, scale in enumerate((0.8, 1.0, 1.5, 2.5)):
        generator = torch.Generator().manual_seed(i)
        h, states = torch.randn(20, units, generator=generator, dtype=torch.float64).requires_grad_(), []
        for _ in range(n_layers + 10):
            states.append(h)
            weights = scale / math.sqrt(units) * torch.randn(units, units, generator=generator, dtype=torch.float64)
            h = torch.tanh(h) @ weights
        last = torch.randn(20, units, generator=generator, dtype=torch.float64)
        gradients = torch.autograd.grad(h, states[10:], last)
        norms = [float((g**2).sum() / (last**2).sum()) for g in reversed(gradients)]
        back = np.arange(1, n_layers + 1)
        axes.semilogy(back, norms, "o", color=f"C{i}", markersize=3, label=f"s = {scale}")
        axes.semilogy(back, growth_factor(scale) ** back, color=f"C{i}", linewidth=1)
    axes.set(
        title="Depth: squared gradients; lines: χ of equation (6)", xlabel="layers back", ylabel="relative to the last"
    )
    axes.legend()


def _time(axes: plt.Axes) -> None:
    """Draw the largest singular value of the Jacobians of a recurrent network."""
    generator = torch.Generator().manual_seed(0)
    base = torch.linalg.qr(torch.randn(20, 20, generator=generator, dtype=torch.float64)).Q
    for i, radius in enumerate((0.8, 1.0, 1.3)):
        for push, style in ((0.0, "-"), (0.5, "--")):
            h, states = torch.zeros(20, dtype=torch.float64), []
            for _ in range(40):
                h = torch.tanh(radius * base @ h + push * torch.randn(20, generator=generator, dtype=torch.float64))
                states.append(h)
            sizes = torch.linalg.matrix_norm(jacobian_product(radius * base, torch.stack(states)), 2)
            label = f"radius {radius}, " + ("driven" if push else "at rest")
            axes.semilogy(range(40), sizes.flip(0), style, color=f"C{i}", label=label)
    axes.set(title="Time: largest singular value of (7)", xlabel="steps back", ylabel="‖∂h_T / ∂h_t‖")
    axes.legend(fontsize=8)
