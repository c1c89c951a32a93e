"""Range tests on digits with their suggestions, what those rates train to, and the curve of a parabola."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn.functional import cross_entropy

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.lr_finder import (
    largest_gradient_rate,
    ramp,
    range_test,
    smooth,
    steepest_rate,
    tenth_of_best,
)

N = 300


def figure(*, steps: int = 60) -> Figure:
    """Draw a range test with three suggestions, the losses of trainings by rate, and a parabola's test."""
    fig, axes = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
    x, y = digits(N)

    def fresh(rate: float) -> tuple[nn.Module, torch.optim.Optimizer]:
        model = perceptron((64, 12, 10), generator=torch.Generator().manual_seed(0))
        return model, torch.optim.SGD(model.parameters(), lr=rate)

    model, sgd = fresh(0.1)
    batches = torch.Generator().manual_seed(1)

    def batch_loss() -> torch.Tensor:
        rows = torch.randint(N, (32,), generator=batches)
        return cross_entropy(model(x[rows]), y[rows])

    test = range_test(model, sgd, batch_loss, ramp(1e-3, 100, 100))
    rules = {
        "steepest (5)": steepest_rate(test),
        "best / 10 (6)": tenth_of_best(test),
        "1 / largest gradient (7)": largest_gradient_rate(test),
    }
    axes[0].semilogx(test.rates, test.losses, ".", color="0.7", label="losses of the batches")
    for beta, style in ((0.5, ":"), (0.9, "-"), (0.97, "--")):
        axes[0].semilogx(test.rates, smooth(test.losses, beta), style, color="C0", label=f"smoothed, β = {beta}")
    axes[0].set(title="Range test: digits, batches of 32", xlabel="rate", ylabel="loss", ylim=(0, 4))
    rates = ramp(0.01, 30, 18)
    ends = []
    for rate in rates:
        trained, optimizer = fresh(float(rate))
        for _ in range(steps):
            optimizer.zero_grad()
            loss = cross_entropy(trained(x), y)
            loss.backward()
            optimizer.step()
        ends.append(loss.item())
    axes[1].loglog(rates, ends, "o-", color="0.4")
    axes[1].set(title=f"Loss after {steps} steps with one rate", xlabel="rate", ylabel="loss")
    for i, (label, rate) in enumerate(rules.items()):
        for panel in axes[:2]:
            panel.axvline(rate, color=f"C{i + 1}", linewidth=1.5, label=label)
    axes[0].legend(fontsize=8, loc="upper left")
    axes[1].legend(fontsize=8)
    _parabola(axes[2])
    return fig


def _parabola(axes: plt.Axes) -> None:
    """Draw the tests of three quadratics, each with its limit 2 / L."""
    for i, spectrum in enumerate(([1.0], [0.1, 1.0], [0.01, 0.1, 1.0, 10.0])):
        bowl = nn.Linear(1, len(spectrum), bias=False, dtype=torch.float64)
        nn.init.ones_(bowl.weight)
        curvatures = torch.tensor(spectrum)[:, None]
        sgd = torch.optim.SGD(bowl.parameters(), lr=0.1)
        test = range_test(
            bowl, sgd, lambda w=bowl.weight, c=curvatures: (c * w**2).sum() / 2, ramp(0.01, 20, 60), beta=0.0
        )
        axes.loglog(test.rates, test.losses, "-", color=f"C{i}", label="λ = " + ", ".join(f"{c:g}" for c in spectrum))
        axes.axvline(2 / max(spectrum), color=f"C{i}", linestyle=":" if i == 1 else "--", linewidth=1)
    axes.set(title="Quadratics, not smoothed; lines at 2 / L", xlabel="rate", ylabel="loss", ylim=(1e-8, 1e3))
    axes.legend(fontsize=8)
