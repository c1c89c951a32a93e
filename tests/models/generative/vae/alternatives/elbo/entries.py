"""Entropies, softplus and a loop over the draws: nothing is done to all samples at once."""

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class LatentModel(Protocol):
    """A guess at the latent variable, and the likelihood under it."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log variance of q(z | x)."""
        ...

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x | z)."""
        ...


def _finite(name: str, tensor: Tensor) -> None:
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite")


def _posterior(mean: Tensor, log_variance: Tensor) -> None:
    if mean.ndim < 1 or mean.numel() < 1:
        raise ValueError("mean must not be empty")
    if log_variance.shape != mean.shape:
        raise ValueError("log_variance must have the shape of mean")
    _finite("mean", mean)
    _finite("log_variance", log_variance)


def _images(x: Tensor, n_samples: int = 1) -> None:
    if x.ndim != 2 or x.numel() < 1:
        raise ValueError("x must be a matrix")
    _finite("x must be finite:", x)
    if n_samples < 1:
        raise ValueError("n_samples must be positive")


def reparameterize(
    mean: Float[Tensor, "*batch latent"], log_variance: Float[Tensor, "*batch latent"], *, generator: torch.Generator
) -> Float[Tensor, "*batch latent"]:
    """Equation (2), with noise from `normal_`."""
    _posterior(mean, log_variance)
    sd = torch.exp(log_variance).sqrt()
    return torch.addcmul(mean, sd, torch.empty_like(mean).normal_(generator=generator))


def gaussian_kl(
    mean: Float[Tensor, "*batch latent"], log_variance: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch latent"]:
    """Cross entropy minus entropy."""
    _posterior(mean, log_variance)
    cross = 0.5 * (math.log(2 * math.pi) + mean**2 + torch.exp(log_variance))
    entropy = 0.5 * (math.log(2 * math.pi) + 1 + log_variance)
    return cross - entropy


def bernoulli_log_likelihood(
    x: Float[Tensor, "batch features"], logits: Float[Tensor, "*samples batch features"]
) -> Float[Tensor, "*samples batch"]:
    """Equation (4) as the logit of what was seen, less a normaliser."""
    if x.ndim != 2 or x.numel() < 1 or not ((x >= 0) & (x <= 1)).all():
        raise ValueError("x must be a matrix in [0, 1]")
    if logits.shape[-2:] != x.shape:
        raise ValueError("logits must have the shape of x")
    _finite("logits", logits)
    return torch.sum(x * logits - F.softplus(logits), -1)


def gaussian_log_likelihood(
    x: Float[Tensor, "..."], mean: Float[Tensor, "..."], log_variance: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    """The exponent and the normaliser, apart."""
    if x.ndim < 1 or x.numel() < 1:
        raise ValueError("x must be a row")
    for name, tensor in {"x must be finite:": x, "mean": mean, "log_variance": log_variance}.items():
        _finite(name, tensor)
    x, mean, log_variance = torch.broadcast_tensors(x, mean, log_variance)
    sd = torch.exp(0.5 * log_variance)
    exponent = 0.5 * torch.sum(((x - mean) / sd) ** 2, -1)
    return -exponent - 0.5 * torch.sum(log_variance, -1) - 0.5 * x.shape[-1] * math.log(2 * math.pi)


def elbo(
    model: LatentModel, x: Float[Tensor, "batch features"], *, n_samples: int = 1, generator: torch.Generator
) -> Float[Tensor, " batch"]:
    """One draw at a time."""
    _images(x, n_samples)
    mean, log_variance = model.encode(x)
    total = -gaussian_kl(mean, log_variance).sum(-1)
    for _ in range(n_samples):
        total = total + model.log_likelihood(x, reparameterize(mean, log_variance, generator=generator)) / n_samples
    return total


def log_importance_weights(
    model: LatentModel, x: Float[Tensor, "batch features"], *, n_samples: int, generator: torch.Generator
) -> Float[Tensor, "{n_samples} batch"]:
    """One draw at a time; the constants of prior and posterior cancel."""
    _images(x, n_samples)
    mean, log_variance = model.encode(x)
    rows = []
    for _ in range(n_samples):
        z = reparameterize(mean, log_variance, generator=generator)
        squares = (z - mean) ** 2 / torch.exp(log_variance) + log_variance - z**2
        rows.append(model.log_likelihood(x, z) + 0.5 * squares.sum(-1))
    return torch.stack(rows)


def iwae_bound(log_weights: Float[Tensor, "samples batch"]) -> Float[Tensor, " batch"]:
    """Shift by the largest weight."""
    if log_weights.ndim != 2 or log_weights.numel() < 1 or not (log_weights < torch.inf).all():
        raise ValueError("log_weights must be a matrix without NaN or +inf")
    largest = log_weights.detach().max(0).values.clamp(min=torch.finfo(log_weights.dtype).min)
    return largest + torch.log(torch.mean(torch.exp(log_weights - largest), 0))


class VAE(nn.Module):
    """One hidden layer on either side."""

    def __init__(
        self,
        n_features: int,
        n_latents: int,
        n_hidden: int,
        *,
        likelihood: str = "bernoulli",
        generator: torch.Generator,
    ) -> None:
        if min(n_features, n_latents, n_hidden) < 1:
            raise ValueError("n_features, n_latents and n_hidden must be positive")
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError("likelihood is unknown")
        super().__init__()
        self.likelihood = likelihood
        self.encoder = nn.Sequential(nn.Linear(n_features, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 2 * n_latents))
        self.decoder = nn.Sequential(nn.Linear(n_latents, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_features))
        self.log_variance = nn.Parameter(torch.zeros(()), requires_grad=likelihood == "gaussian")
        for layer in [*self.encoder, *self.decoder]:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log variance of q(z | x)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Return logits or means."""
        return self.decoder(z)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x | z)."""
        if self.likelihood == "bernoulli":
            return bernoulli_log_likelihood(x, self.decode(z))
        return gaussian_log_likelihood(x, self.decode(z), self.log_variance)
