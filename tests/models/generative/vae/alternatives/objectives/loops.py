"""Loops over dimensions and plain comparisons, one case after the other."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Decoder = Callable[[Float[Tensor, "*batch latent"]], Float[Tensor, "*batch features"]]


def _tensor(name: str, tensor: Tensor, ndim: int) -> None:
    if tensor.ndim != ndim or tensor.numel() < 1 or not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite, of {ndim} axes and not empty")


def _at_least(name: str, value: float, least: float) -> None:
    if not (math.isfinite(value) and value >= least):
        raise ValueError(f"{name} must be at least {least}")


def linear_schedule(step: int, n_warm_up: int, *, start: float = 0.0, end: float = 1.0) -> float:
    """A weighted mean of start and end."""
    _at_least("step", step, 0)
    _at_least("n_warm_up", n_warm_up, 1)
    if step >= n_warm_up:
        return end
    return ((n_warm_up - step) * start + step * end) / n_warm_up


def cyclical_schedule(step: int, n_steps: int, *, n_cycles: int = 4, ramp: float = 0.5) -> float:
    """The cycle's number first, then the position in it."""
    _at_least("step", step, 0)
    _at_least("n_steps", n_steps, 1)
    _at_least("n_cycles", n_cycles, 1)
    if not 0 < ramp <= 1:
        raise ValueError("ramp must lie in (0, 1]")
    if step >= n_steps:
        return 1.0
    length = n_steps / n_cycles
    begun = step * n_cycles // n_steps
    position = (step - begun * length) / length
    return 1.0 if position > ramp else max(0.0, position / ramp)


def free_bits(kl: Float[Tensor, "batch latent"], floor: float) -> Float[Tensor, ""]:
    """One dimension at a time."""
    _tensor("kl", kl, 2)
    _at_least("floor", floor, 0.0)
    total = kl.new_zeros(())
    for column in kl.T:
        spent = column.sum() / len(column)
        total = total + (spent if spent > floor else floor)
    return total


def beta_loss(
    log_likelihood: Float[Tensor, " batch"], kl: Float[Tensor, "batch latent"], *, beta: float = 1.0, floor: float = 0.0
) -> Float[Tensor, ""]:
    """Distortion, then rate."""
    _tensor("log_likelihood", log_likelihood, 1)
    _tensor("kl", kl, 2)
    if kl.shape[0] != log_likelihood.shape[0]:
        raise ValueError("kl must match log_likelihood")
    _at_least("beta", beta, 0.0)
    _at_least("floor", floor, 0.0)
    distortion = torch.mean(-log_likelihood)
    return torch.add(distortion, free_bits(kl, floor), alpha=beta)


def optimal_rates(
    variances: Float[Tensor, " direction"], noise_variance: float, *, beta: float = 1.0
) -> Float[Tensor, " direction"]:
    """Raise everything to the water level, then measure from there."""
    _tensor("variances", variances, 1)
    if (variances < 0).any():
        raise ValueError("variances must not be negative")
    for name, value in {"noise_variance": noise_variance, "beta": beta}.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive")
    level = math.log(noise_variance) + math.log(beta)
    return 0.5 * (torch.log(variances).maximum(torch.tensor(level, dtype=variances.dtype)) - level)


def latent_traversal(
    decode: Decoder, mean: Float[Tensor, " latent"], values: Float[Tensor, " n_values"]
) -> Float[Tensor, "latent n_values features"]:
    """One code at a time."""
    _tensor("mean", mean, 1)
    _tensor("values", values, 1)
    rows = []
    for j in range(len(mean)):
        codes = [torch.cat([mean[:j], value[None], mean[j + 1 :]]) for value in values]
        rows.append(torch.stack([decode(code) for code in codes]))
    return torch.stack(rows)


def active_units(means: Float[Tensor, "n_images latent"], *, threshold: float = 0.01) -> Bool[Tensor, " latent"]:
    """The population's variance, by two passes."""
    _tensor("means", means, 2)
    if len(means) < 2:
        raise ValueError("means must have two rows")
    _at_least("threshold", threshold, 0.0)
    return ((means - means.mean(0)) ** 2).mean(0).gt(threshold)
