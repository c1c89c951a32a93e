"""Singular values of updates, the noise of Hutchinson's estimate, and losses on the digits."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim import adaptive
from mlpath.optim._networks import digits, perceptron
from mlpath.optim.adaptive import AdaGradState, AdamState, adagrad, adam
from mlpath.optim.shampoo import adahessian, at_rest, hutchinson, rademacher, shampoo


class Network:
    """A perceptron on 200 digits, whose parameters are NumPy arrays here."""

    def __init__(self) -> None:
        self.x, self.labels = digits(200)
        self.model = perceptron(generator=torch.Generator().manual_seed(0))
        self.parameters = list(self.model.parameters())

    def loss(self) -> torch.Tensor:
        """Return the mean cross entropy."""
        return torch.nn.functional.cross_entropy(self.model(self.x), self.labels)

    def gradients(self) -> list[np.ndarray]:
        """Return the gradient by each parameter."""
        return [g.numpy() for g in torch.autograd.grad(self.loss(), self.parameters)]

    def diagonals(self, n_probes: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Return Hutchinson's estimate of the Hessian's diagonal for each parameter."""
        sizes = [p.numel() for p in self.parameters]
        gradients = torch.autograd.grad(self.loss(), self.parameters, create_graph=True)
        flat = torch.cat([g.flatten() for g in gradients])

        def product(v: np.ndarray) -> np.ndarray:
            parts = torch.autograd.grad(flat @ torch.from_numpy(v), self.parameters, retain_graph=True)
            return torch.cat([p.flatten() for p in parts]).numpy()

        estimate = hutchinson(product, rademacher(n_probes, np.zeros(sum(sizes)), rng=rng))
        parts = np.split(estimate, np.cumsum(sizes)[:-1])
        return [part.reshape(p.shape) for part, p in zip(parts, self.parameters)]

    def move(self, updates: list[np.ndarray]) -> None:
        """Add updates to the parameters."""
        with torch.no_grad():
            for parameter, update in zip(self.parameters, updates):
                parameter.add_(torch.from_numpy(update))


def figure(*, steps: int = 60) -> Figure:
    """Draw the three panels."""
    torch.set_num_threads(1)
    fig, axes = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
    draw_singular_values(axes[0])
    draw_noise(axes[1])
    draw_losses(axes[2], steps)
    return fig


def draw_singular_values(panel: Axes) -> None:
    """Draw the singular values of one layer's updates, after three steps of each rule."""
    rules = {
        "gradient": (lambda state, g, step_size: (state, -step_size * g), lambda like: None, 0.3),
        "Adam": (adam, lambda like: adaptive.at_rest(AdamState, like), 0.01),
        "Shampoo": (shampoo, at_rest, 0.1),
    }
    for name, (rule, begin, step_size) in rules.items():
        network = Network()
        states = [begin(p.detach().numpy()) for p in network.parameters]
        for _ in range(3):
            pairs = [rule(s, g, step_size=step_size) for s, g in zip(states, network.gradients())]
            states, updates = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
            network.move(updates)
        values = np.linalg.svd(updates[0], compute_uv=False)
        panel.semilogy(range(1, len(values) + 1), values / values[0], "o-", markersize=4, label=name)
    panel.set(title="Third update of a layer, 20 by 64", xlabel="singular value", ylabel="share of the largest")
    panel.set_xticks([1, 5, 10, 15, 20])
    panel.legend()


def draw_noise(panel: Axes) -> None:
    """Draw the error of the estimated diagonal against the number of probes, and what (8) predicts."""
    rng = np.random.default_rng(0)
    root = rng.standard_normal((40, 60))
    matrix = root @ root.T / 60
    counts = 2 ** np.arange(9)
    variance = ((matrix**2).sum() - (np.diag(matrix) ** 2).sum()) / 40
    errors = []
    for count in counts:
        runs = [hutchinson(lambda v: matrix @ v, rademacher(int(count), np.zeros(40), rng=rng)) for _ in range(20)]
        errors.append(np.sqrt(np.mean((np.array(runs) - np.diag(matrix)) ** 2)))
    panel.loglog(counts, errors, "o", label="measured, 20 runs")
    panel.loglog(counts, np.sqrt(variance / counts), label="equation (8)")
    panel.set(title="Hutchinson's estimate of a diagonal", xlabel="probes", ylabel="root mean square error")
    panel.set_xticks(counts, [str(count) for count in counts])
    panel.set_yticks([0.05, 0.1, 0.2, 0.5], ["0.05", "0.1", "0.2", "0.5"])
    panel.minorticks_off()
    panel.legend()


def draw_losses(panel: Axes, steps: int) -> None:
    """Draw the loss on the digits by four rules."""

    def run(begin: Callable, step: Callable) -> list[float]:
        network, rng, losses = Network(), np.random.default_rng(0), []
        states = [begin(p.detach().numpy()) for p in network.parameters]
        for _ in range(steps):
            losses.append(network.loss().item())
            pairs = step(network, states, rng)
            states = [pair[0] for pair in pairs]
            network.move([pair[1] for pair in pairs])
        return [*losses, network.loss().item()]

    def plain(rule: Callable, step_size: float) -> Callable:
        return lambda net, states, rng: [rule(s, g, step_size=step_size) for s, g in zip(states, net.gradients())]

    def second_order(net: Network, states: list, rng: np.random.Generator) -> list:
        diagonals = net.diagonals(1, rng)
        return [adahessian(s, g, d, step_size=0.05) for s, g, d in zip(states, net.gradients(), diagonals)]

    def adam_begin(like: np.ndarray) -> AdamState:
        return adaptive.at_rest(AdamState, like)

    panel.semilogy(run(lambda like: AdaGradState(0 * like), plain(adagrad, 0.1)), label="AdaGrad, 0.1")
    panel.semilogy(run(adam_begin, plain(adam, 0.03)), label="Adam, 0.03")
    panel.semilogy(run(at_rest, plain(shampoo, 0.5)), label="Shampoo, 0.5")
    panel.semilogy(run(adam_begin, second_order), label="AdaHessian, 0.05")
    panel.set(title="200 digits, all at once", xlabel="steps", ylabel="mean cross entropy")
    panel.legend(title="rule and step size")
