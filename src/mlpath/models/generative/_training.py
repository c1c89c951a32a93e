"""The training loop of the autoencoders' figures and benchmarks, which no exercise needs; diffusion has its own."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn


def train(
    model: nn.Module,
    loss: Callable[[Tensor, int], Float[Tensor, ""]],
    data: Tensor,
    *,
    steps: int,
    batch_size: int = 100,
    learning_rate: float = 3e-3,
    generator: torch.Generator,
) -> Float[Tensor, " steps"]:
    """Minimise `loss(batch, step)` over the parameters of `model` by Adam.

    The learning rate falls to zero along a half cosine. A batch is drawn from the rows of `data` with replacement. Returns the loss of every step.
    """
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=learning_rate)
    losses = torch.empty(steps)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 + math.cos(math.pi * step / steps)) / 2
        batch = data[torch.randint(len(data), (batch_size,), generator=generator)]
        value = loss(batch, step)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses[step] = value.detach()
    return losses
