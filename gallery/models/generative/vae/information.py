"""Codes of the digits at different prices for telling and matching; and a classifier that learns where to look."""

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from torch import Tensor, nn

from mlpath.models.generative._shared import digits
from mlpath.models.generative._training import train
from mlpath.models.generative.vae.elbo import VAE, gaussian_kl, reparameterize
from mlpath.models.generative.vae.information import (
    information_dropout,
    infovae_loss,
    lognormal_cost,
    split_rate,
    squared_mmd,
)

KINDS = {
    "autoencoder, α = 1, λ = 0": (1.0, 0.0),
    "ELBO, α = 0, λ = 1": (0.0, 1.0),
    "MMD-VAE, α = 1, λ = 200": (1.0, 200.0),
}


def fit_codes(x: Tensor, steps: int, information: float, matching: float) -> VAE:
    """Train a VAE with two latents on equation (4)."""
    generator = torch.Generator().manual_seed(0)
    model = VAE(64, 2, 128, generator=generator)

    def loss(batch: Tensor, _: int) -> Tensor:
        mean, log_variance = model.encode(batch)
        z = reparameterize(mean, log_variance, generator=generator)
        prior = torch.randn(z.shape, generator=generator)
        mmd = squared_mmd(z, prior, bandwidth=1.0)
        kl = gaussian_kl(mean, log_variance)
        return infovae_loss(model.log_likelihood(batch, z), kl, mmd, information=information, matching=matching)

    train(model, loss, x, steps=steps, batch_size=200, generator=generator)
    return model


class Looker(nn.Module):
    """A classifier of 128 pixels, each of which becomes one noisy feature."""

    def __init__(self) -> None:
        super().__init__()
        self.gain, self.offset = nn.Parameter(torch.full((128,), 4.0)), nn.Parameter(torch.full((128,), -1.2))
        self.noise = nn.Linear(128, 128)
        self.classify = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is seen of each pixel, and the scale of its noise, between 0.01 and 1."""
        return nn.functional.softplus(self.gain * x + self.offset), 0.01 + 0.99 * self.noise(x).sigmoid()


def fit_looker(x: Tensor, labels: Tensor, steps: int, beta: float) -> Looker:
    """Train to tell the left digit, at a price of `beta` for a nat."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Looker()

    def loss(rows: Tensor, _: int) -> Tensor:
        features, scale = model.features(x[rows])
        z = information_dropout(features, scale, generator=generator) if beta else features
        cost = lognormal_cost(features, scale).sum(dim=-1).mean()
        return nn.functional.cross_entropy(model.classify(z.log()), labels[rows]) + beta * cost

    train(model, loss, torch.arange(len(x)), steps=steps, learning_rate=1e-2, generator=generator)
    return model


def pairs(images: Tensor, generator: torch.Generator) -> Tensor:
    """Put a random other digit to the right of each."""
    return torch.cat([images, images[torch.randperm(len(images), generator=generator)]], dim=-1).flatten(1)


@torch.no_grad()
def draw_codes(axes: Axes, name: str, model: VAE, new: Tensor, labels: Tensor) -> None:
    """Scatter one draw of the code of each held-out digit over the prior's two standard deviations."""
    generator = torch.Generator().manual_seed(1)
    mean, log_variance = model.encode(new)
    z = reparameterize(mean, log_variance, generator=generator)
    split = split_rate(mean, log_variance, n_samples=20, generator=generator)
    mmd = squared_mmd(z, torch.randn(2000, 2, generator=generator), bandwidth=1.0)
    draws = reparameterize(mean.expand(50, -1, -1), log_variance.expand(50, -1, -1), generator=generator)
    distortion = -model.log_likelihood(new, draws).mean()
    axes.scatter(*z.T, c=labels, cmap="tab10", s=8)
    axes.add_patch(Circle((0, 0), 2, fill=False, color="black", linestyle="--"))
    axes.set_title(name, fontsize=10)
    numbers = f"distortion {distortion:.1f}, information {split.mutual_information:.2f},\n"
    axes.set_xlabel(f"{numbers}mismatch KL {split.marginal_kl:.2f} nats, MMD² {mmd:.3f}", fontsize=9)
    axes.set_aspect("equal", adjustable="datalim")


def figure(*, steps: int = 1500) -> Figure:
    """Above, held-out codes in the plane, coloured by digit; below, nats that a classifier takes from each pixel."""
    grey, grey_new, labels, new_labels = digits()
    x, new = ((images.flatten(1) > 0.5).float() for images in (grey, grey_new))
    fig = plt.figure(figsize=(11, 7), layout="constrained")
    top, bottom = fig.subfigures(2, 1, height_ratios=[2, 1])
    for axes, (name, (information, matching)) in zip(top.subplots(1, 3), KINDS.items()):
        draw_codes(axes, name, fit_codes(x, steps, information, matching), new, new_labels)

    generator = torch.Generator().manual_seed(0)
    both = pairs(grey, generator)
    unseen, answers = torch.cat([pairs(grey_new, generator) for _ in range(5)]), new_labels.repeat(5)
    panels = bottom.subplots(1, 4)
    for panel, beta in zip(panels, (0.0, 0.0001, 0.001, 0.01)):
        model = fit_looker(both, labels, steps, beta)
        with torch.no_grad():
            features, scale = model.features(unseen)
            cost = lognormal_cost(features, scale).mean(dim=0).reshape(8, 16)
            accuracy = (model.classify(features.log()).argmax(dim=-1) == answers).double().mean().item()
        if beta:
            bottom.colorbar(panel.imshow(cost, vmin=0), ax=panel, shrink=0.6, label="nats")
            shares = f"{cost[:, :8].sum():.1f} nats left, {cost[:, 8:].sum():.2f} right"
            panel.set_title(f"β = {beta:g}: {accuracy:.1%} right\n{shares}", fontsize=10)
        else:
            panel.imshow(unseen[0].reshape(8, 16), cmap="gray")
            panel.set_title(f"Which digit is on the left?\nno noise: {accuracy:.1%} right", fontsize=10)
        panel.set(xticks=[], yticks=[])
    return fig
