"""What the samplers of this room share: the type of a target, what a run returns, and one careful evaluation.

All samplers move a batch of chains at once: positions `(n_chains, dim)`, log densities `(n_chains,)`, draws
`(n_chains, n_draws, dim)`, as ArviZ has them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

LogDensity = Callable[[Float[np.ndarray, "n_chains dim"]], Float[np.ndarray, " n_chains"]]
"""The log density of each row, up to one constant for all; -inf outside the support."""
Gradient = Callable[[Float[np.ndarray, "n_chains dim"]], Float[np.ndarray, "n_chains dim"]]
"""The gradient of the log density at each row."""


@dataclass(frozen=True)
class Draws:
    """What a sampler returns."""

    draws: Float[np.ndarray, "n_chains n_draws dim"]
    """The position of each chain after each step, rejected ones included."""
    log_density: Float[np.ndarray, "n_chains n_draws"]
    """The log density there, as the target computes it."""
    acceptance_rate: Float[np.ndarray, " n_chains"]
    """The share of the steps of each chain that were accepted; of samplers that weigh, the mean probability."""
    divergent: Bool[np.ndarray, "n_chains n_draws"] | None = None
    """Whether the simulated path to each draw went astray, of samplers that follow gradients."""
    step_size: Float[np.ndarray, " n_chains"] | None = None
    """With which step size each chain came out of its warm-up, if there was one."""
    inverse_mass: Float[np.ndarray, "..."] | None = None
    """With which inverse mass matrix, or its diagonal; for all chains, or one for each along the first axis."""


def evaluate(log_density_fn: LogDensity, position: Float[np.ndarray, "n_chains dim"]) -> Float[np.ndarray, " n_chains"]:
    """Return the log density of each row, and raise a ValueError where the target returns what is none."""
    log_density = np.asarray(log_density_fn(position), dtype=np.float64)
    if log_density.shape != position.shape[:1]:
        raise ValueError(f"log_density_fn must return shape {position.shape[:1]}, got {log_density.shape}")
    if np.isnan(log_density).any() or (log_density == np.inf).any():
        row = np.flatnonzero(np.isnan(log_density) | (log_density == np.inf))[0]
        raise ValueError(f"log_density_fn must be finite or -inf, got {log_density[row]} at {position[row]}")
    return log_density


def evaluate_gradient(gradient_fn: Gradient, position: Float[np.ndarray, "n_chains dim"]) -> np.ndarray:
    """Return the gradient at each row, refusing a shape that would broadcast silently. NaN and infinity are let through."""
    gradient = np.asarray(gradient_fn(position), dtype=np.float64)
    if gradient.shape != position.shape:
        raise ValueError(f"gradient_fn must return shape {position.shape}, got {gradient.shape}")
    return gradient


def of_torch(log_density_fn: Callable[..., Any]) -> tuple[LogDensity, Gradient]:
    """Return a log density and its gradient in NumPy, from a log density that PyTorch can differentiate.

    Parameters
    ----------
    log_density_fn : callable
        Takes a float64 tensor with one position a row, and returns the log density of each row.

    Returns
    -------
    log_density, gradient : callable
        Of NumPy arrays, one position a row.

    Examples
    --------
    >>> log_density, gradient = of_torch(lambda x: -(x**2).sum(dim=1))
    >>> print(gradient(np.array([[1.0, 2.0], [3.0, 4.0]])))
    [[-2. -4.]
     [-6. -8.]]
    """

    def log_density(position: np.ndarray) -> np.ndarray:
        import torch

        with torch.no_grad():
            return log_density_fn(torch.tensor(position)).numpy()

    def gradient(position: np.ndarray) -> np.ndarray:
        import torch

        leaf = torch.tensor(position, requires_grad=True)
        return torch.autograd.grad(log_density_fn(leaf).sum(), leaf)[0].numpy()

    return log_density, gradient
