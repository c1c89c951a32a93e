"""Inside one run of conjugate gradients, and a deep autoencoder trained beside gradient descent."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.hessian_free import (
    as_function,
    checkpoints,
    gauss_newton_product,
    has_stalled,
    minimize,
    truncated_cg,
)


def figure(*, steps: int = 10) -> Figure:
    """Draw the model and the loss along a run, the losses against the work, and the dampings."""
    torch.set_num_threads(1)
    fig, axes = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
    x, _ = digits(40)
    model = perceptron((64, 16, 8, 3, 8, 16, 64), generator=torch.Generator().manual_seed(0))
    predict, start = as_function(model, x)

    def loss(z: torch.Tensor) -> torch.Tensor:
        return (z - x).square().sum() / (2 * len(x))

    def curvature(z: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        return u / len(x)

    result = minimize(predict, loss, curvature, start, max_iter=steps, max_cg=40)
    draw_run(axes[0], predict, loss, curvature, start)
    draw_losses(axes[1], predict, loss, start, result.losses, result.cg_steps)
    axes[2].semilogy(result.dampings[:-1], "o-", label="damping")
    axes[2].semilogy(result.cg_steps, "s--", color="C1", label="steps of conjugate gradients")
    axes[2].set(title="Damping and inner steps", xlabel="step")
    axes[2].legend()
    return fig


def gradient_of(fun, w: torch.Tensor) -> torch.Tensor:
    """Return the gradient of a function of a vector."""
    w = w.detach().clone().requires_grad_()
    return torch.autograd.grad(fun(w), w)[0]


def draw_run(panel: Axes, predict, loss, curvature, start: torch.Tensor) -> None:
    """Draw the change of the model and of the loss along a run from the start, weakly damped."""
    gradient = gradient_of(lambda w: loss(predict(w)), start).numpy()

    def product(v: np.ndarray) -> np.ndarray:
        return gauss_newton_product(predict, start, torch.from_numpy(v), curvature).numpy() + 0.01 * v

    run = truncated_cg(product, -gradient, np.zeros(len(start)), max_iter=60, eps=5e-4)
    with torch.no_grad():
        losses = [loss(predict(start + torch.from_numpy(point))).item() for point in run.points]
    marks = checkpoints(len(losses) - 1)
    panel.plot(losses[0] + run.values, color="C0", label="model (4)")
    panel.plot(losses, color="C3", label="loss")
    panel.plot(marks, np.array(losses)[marks], "o", color="C3", markersize=4, label="checkpoints")
    first = next((i for i in range(1, len(losses)) if has_stalled(run.values[: i + 1].tolist(), eps=5e-3)), None)
    if first is not None:
        panel.axvline(first, color="0.6", linestyle="--", label=r"(6) with $\varepsilon = 0.005$")
    panel.set(title="One run, damping 0.01", xlabel="steps of conjugate gradients", ylabel="loss")
    panel.set_ylim(min(0.0, losses[0] + run.values.min()), 1.2 * losses[0])
    panel.legend()


def draw_losses(panel: Axes, predict, loss, start: torch.Tensor, losses: np.ndarray, inner: np.ndarray) -> None:
    """Draw losses against the number of passes through the network, a product counted as three gradients."""
    work = np.concatenate([[0], np.cumsum(1 + 3 * (inner + 2))])
    panel.semilogy(work, losses, "o-", markersize=4, label="Hessian-free")
    for step_size in (0.03, 0.1):
        w, values = start, []
        for _ in range(int(work[-1])):
            values.append(loss(predict(w)).item())
            w = w - step_size * gradient_of(lambda w: loss(predict(w)), w)
        panel.semilogy(values, label=f"gradient descent, step size {step_size:g}")
    panel.set(
        title="40 digits through 3 units", xlabel="work, in gradients", ylabel="half the squared error of a digit"
    )
    panel.legend()
