"""Recentred expansions, densities written out, one draw at a time."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class RateSplit:
    """The two parts of the average rate."""

    mutual_information: Float[Tensor, ""]
    marginal_kl: Float[Tensor, ""]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _matrix(name: str, tensor: Tensor, ndim: int = 2, rows: int = 1) -> None:
    shaped = tensor.ndim == ndim and tensor.numel() > 0 and len(tensor) >= rows
    _require(shaped and bool(torch.isfinite(tensor).all()), f"{name} must be finite, with {ndim} axes and {rows} rows")


def _positive(name: str, tensor: Tensor) -> None:
    _require(tensor.numel() > 0 and bool(((tensor > 0) & torch.isfinite(tensor)).all()), f"{name} must be positive")


def _pair(x: Tensor, y: Tensor, bandwidth: float, rows: int = 1) -> None:
    _matrix("x", x, rows=rows)
    _matrix("y", y, rows=rows)
    _require(x.shape[1] == y.shape[1], "y must have the columns of x")
    _require(math.isfinite(bandwidth) and bandwidth > 0, "bandwidth must be positive")


def rbf_kernel(x: Float[Tensor, "n dim"], y: Float[Tensor, "m dim"], *, bandwidth: float) -> Float[Tensor, "n m"]:
    """A product over dimensions."""
    _pair(x, y, bandwidth)
    exponent = x.new_zeros(len(x), len(y))
    for a, b in zip(x.T, y.T):
        exponent = exponent + ((a[:, None] - b[None, :]) / bandwidth) ** 2
    return torch.exp(-0.5 * exponent)


def squared_mmd(x: Float[Tensor, "n dim"], y: Float[Tensor, "m dim"], *, bandwidth: float) -> Float[Tensor, ""]:
    """One kernel of all points, and a weight for each pair."""
    _pair(x, y, bandwidth, rows=2)
    n, m = len(x), len(y)
    together = torch.cat([x, y])
    weights = x.new_zeros(n + m, n + m)
    weights[:n, :n] = 1 / (n * (n - 1))
    weights[n:, n:] = 1 / (m * (m - 1))
    weights[:n, n:] = weights[n:, :n] = -1 / (n * m)
    weights.fill_diagonal_(0.0)
    return (weights * rbf_kernel(together, together, bandwidth=bandwidth)).sum()


def log_aggregate_posterior(
    z: Float[Tensor, "n_draws latent"],
    mean: Float[Tensor, "n_images latent"],
    log_variance: Float[Tensor, "n_images latent"],
) -> Float[Tensor, " n_draws"]:
    """Running log-add-exp over images."""
    for name, tensor in {"z": z, "mean": mean, "log_variance": log_variance}.items():
        _matrix(name, tensor)
    _require(mean.shape == log_variance.shape, "log_variance must have the shape of mean")
    _require(z.shape[1] == mean.shape[1], "z must have the columns of mean")
    total = torch.full((len(z),), -torch.inf, dtype=z.dtype)
    for m, v in zip(mean, log_variance):
        own = -0.5 * ((z - m) ** 2 / v.exp() + v + math.log(2 * math.pi)).sum(1) - math.log(len(mean))
        total = torch.logaddexp(total, own)
    return total


def split_rate(
    mean: Float[Tensor, "n_images latent"],
    log_variance: Float[Tensor, "n_images latent"],
    *,
    n_samples: int = 1,
    generator: torch.Generator,
) -> RateSplit:
    """One draw at a time, from its noise."""
    _matrix("mean", mean)
    _matrix("log_variance", log_variance)
    _require(mean.shape == log_variance.shape, "log_variance must have the shape of mean")
    _require(n_samples >= 1, "n_samples must be positive")
    information = mean.new_zeros(())
    for _ in range(n_samples):
        noise = torch.empty_like(mean).normal_(generator=generator)
        own = -0.5 * (noise**2 + log_variance + math.log(2 * math.pi)).sum(1)
        ratio = own - log_aggregate_posterior(mean + log_variance.exp().sqrt() * noise, mean, log_variance)
        information = information + ratio.mean() / n_samples
    rate = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum() / len(mean)
    return RateSplit(mutual_information=information, marginal_kl=rate - information)


def infovae_loss(
    log_likelihood: Float[Tensor, " batch"],
    kl: Float[Tensor, "batch latent"],
    divergence: Float[Tensor, ""],
    *,
    information: float = 1.0,
    matching: float = 1.0,
) -> Float[Tensor, ""]:
    """The ELBO first, then what is added to it."""
    _matrix("log_likelihood", log_likelihood, 1)
    _matrix("kl", kl)
    _require(len(kl) == len(log_likelihood), "kl must match log_likelihood")
    _require(divergence.ndim == 0 and bool(torch.isfinite(divergence)), "divergence must be one finite number")
    _require(math.isfinite(information) and information <= 1, "information must be at most 1")
    _require(math.isfinite(matching) and matching >= 1 - information, "matching must be at least 1 - information")
    rate = kl.sum() / len(kl)
    elbo = log_likelihood.sum() / len(kl) - rate
    return -(elbo + information * (rate - divergence) + (1 - matching) * divergence)


def information_dropout(
    features: Float[Tensor, "*batch"], scale: Float[Tensor, "*batch"], *, generator: torch.Generator
) -> Float[Tensor, "*batch"]:
    """Noise from `normal_`."""
    _require(features.numel() > 0 and bool(torch.isfinite(features).all()), "features must be finite")
    _require(scale.shape == features.shape, "scale must have the shape of features")
    _positive("scale", scale)
    noise = torch.empty_like(features).normal_(generator=generator)
    return torch.exp(noise.mul(scale)).mul(features)


def lognormal_cost(
    features: Float[Tensor, "*batch"],
    scale: Float[Tensor, "*batch"],
    *,
    prior_mean: float = 0.0,
    prior_scale: float = 1.0,
) -> Float[Tensor, "*batch"]:
    """Cross entropy less entropy, of the logarithms."""
    _positive("features", features)
    _require(scale.shape == features.shape, "scale must have the shape of features")
    _positive("scale", scale)
    _require(math.isfinite(prior_mean), "prior_mean must be finite")
    _require(math.isfinite(prior_scale) and prior_scale > 0, "prior_scale must be positive")
    cross = 0.5 * (scale**2 + (torch.log(features) - prior_mean) ** 2) / prior_scale**2 + math.log(prior_scale)
    return cross - (0.5 + torch.log(scale))


def loguniform_cost(scale: Float[Tensor, "*batch"], *, max_scale: float) -> Float[Tensor, "*batch"]:
    """A difference of logarithms."""
    _positive("scale", scale)
    _require(math.isfinite(max_scale) and bool((scale <= max_scale).all()), "scale must be at most max_scale")
    return math.log(max_scale) - torch.log(scale)
