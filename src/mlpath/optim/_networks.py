"""What the methods for neural networks share: scikit-learn's digits, and a perceptron that learns to tell them apart."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from torch import Tensor, nn


def digits(
    n_samples: int = 1797, *, dtype: torch.dtype = torch.float64
) -> tuple[Float[Tensor, "n_samples 64"], Int[Tensor, " n_samples"]]:
    """Return the grey levels of the first digits, in [0, 1], and what they show, 0 to 9."""
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images[:n_samples] / 16, dtype=dtype), torch.tensor(labels[:n_samples])


def perceptron(
    widths: Sequence[int] = (64, 20, 10), *, generator: torch.Generator, dtype: torch.dtype = torch.float64
) -> nn.Sequential:
    """Return linear layers from each of `widths` to the next with the hyperbolic tangent between them.

    The weights are drawn with variance 1 / inputs from `generator`; the biases are zero.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        linear = nn.Linear(inputs, outputs, dtype=dtype)
        with torch.no_grad():
            linear.weight.normal_(0, inputs**-0.5, generator=generator)
            linear.bias.zero_()
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])
