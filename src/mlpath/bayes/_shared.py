"""What the samplers of this room share: the type of a target, what a run returns, and one careful evaluation.

All samplers move a batch of chains at once: positions `(n_chains, dim)`, log densities `(n_chains,)`, draws
`(n_chains, n_draws, dim)`, as ArviZ has them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

LogDensity = Callable[[Float[np.ndarray, "n_chains dim"]], Float[np.ndarray, " n_chains"]]
"""The log density of each row, up to one constant for all; -inf outside the support."""


@dataclass(frozen=True)
class Draws:
    """What a sampler returns."""

    draws: Float[np.ndarray, "n_chains n_draws dim"]
    """The position of each chain after each step, rejected ones included."""
    log_density: Float[np.ndarray, "n_chains n_draws"]
    """The log density there, as the target computes it."""
    acceptance_rate: Float[np.ndarray, " n_chains"]
    """The share of the steps of each chain that were accepted."""


def evaluate(log_density_fn: LogDensity, position: Float[np.ndarray, "n_chains dim"]) -> Float[np.ndarray, " n_chains"]:
    """Return the log density of each row, and raise a ValueError where the target returns what is none."""
    log_density = np.asarray(log_density_fn(position), dtype=np.float64)
    if log_density.shape != position.shape[:1]:
        raise ValueError(f"log_density_fn must return shape {position.shape[:1]}, got {log_density.shape}")
    if np.isnan(log_density).any() or (log_density == np.inf).any():
        row = np.flatnonzero(np.isnan(log_density) | (log_density == np.inf))[0]
        raise ValueError(f"log_density_fn must be finite or -inf, got {log_density[row]} at {position[row]}")
    return log_density
