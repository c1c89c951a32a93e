"""The curvature of a small layer beside its Kronecker product, and losses beside gradient descent."""

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.kfac import recursive_factors, train


def figure(*, steps: int = 40) -> Figure:
    """Draw the exact block of a layer, its approximation, and the training losses on the digits."""
    torch.set_num_threads(1)
    fig, axes = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained", width_ratios=[1, 1, 1.3])
    draw_blocks(axes[0], axes[1])
    draw_losses(axes[2], steps)
    return fig


def exact_block(model: nn.Sequential, x: Tensor) -> Tensor:
    """Return the Gauss-Newton block of the first layer."""
    layer, block = model[0], torch.zeros(())
    for sample in x:
        logits = model(sample)
        p = logits.detach().softmax(0)
        rows = []
        for logit in logits:
            weight, bias = torch.autograd.grad(logit, list(layer.parameters()), retain_graph=True)
            rows.append(torch.cat([weight, bias[:, None]], dim=1).flatten())
        jacobian = torch.stack(rows)
        block = block + jacobian.T @ (torch.diag(p) - torch.outer(p, p)) @ jacobian / len(x)
    return block


def draw_blocks(left: Axes, right: Axes) -> None:
    """Draw the exact block and the Kronecker product by KFRA in the same colours."""
    generator = torch.Generator().manual_seed(1)
    model = perceptron((4, 5, 3), generator=generator)
    x = 0.5 * torch.randn(60, 4, generator=generator, dtype=torch.float64) + 0.3
    exact, factors = exact_block(model, x), recursive_factors(model, x)[0]
    product = torch.kron(factors.outputs, factors.inputs)
    limit = float(exact.abs().max())
    off = float((product - exact).norm() / exact.norm())
    for panel, matrix, title in ((left, exact, "Exact block"), (right, product, f"G $\\otimes$ A: {off:.0%} off")):
        image = panel.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit)
        ticks = torch.arange(0, 25, 5) - 0.5
        panel.set_xticks(ticks, [f"unit {unit}" for unit in range(1, 6)], ha="left")
        panel.set_yticks(ticks, [f"unit {unit}" for unit in range(1, 6)], va="top")
        panel.set_title(title)
    plt.colorbar(image, ax=[left, right], shrink=0.8, label="curvature")


def draw_losses(panel: Axes, steps: int) -> None:
    """Draw the cross entropy on 300 digits against the number of steps."""
    x, labels = digits(300)
    for row, source in enumerate(("sampled", "recursive")):
        generator = torch.Generator().manual_seed(0)
        model = perceptron(generator=generator)
        losses = train(model, x, labels, steps=steps, source=source, generator=generator)
        panel.semilogy(losses, f"C{row}", label=f"K-FAC, {source} factors")
    for style, step_size in (("--", 0.3), ("-", 1.0)):
        model, losses = perceptron(generator=torch.Generator().manual_seed(0)), []
        for _ in range(steps + 1):
            parameters = list(model.parameters())
            loss = nn.functional.cross_entropy(model(x), labels)
            with torch.no_grad():
                for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters)):
                    parameter.sub_(step_size * slope)
            losses.append(loss.item())
        panel.semilogy(losses, f"C2{style}", label=f"gradient descent, step size {step_size:g}")
    panel.set(title="300 digits, all at once", xlabel="steps", ylabel="mean cross entropy")
    panel.legend(loc="lower left", fontsize=8)
