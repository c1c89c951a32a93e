"""VAEs of the binary digits at different prices of the code: rate and distortion, dimensions kept alive, traversals."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from mlpath.models.generative._shared import digits
from mlpath.models.generative._training import train
from mlpath.models.generative.vae.elbo import VAE, gaussian_kl, reparameterize
from mlpath.models.generative.vae.objectives import active_units, beta_loss, latent_traversal, linear_schedule

PRICES = (0.25, 0.5, 1.0, 2.0, 4.0)


def fit(x: Tensor, steps: int, *, beta: float = 1.0, floor: float = 0.0) -> VAE:
    """Train at a price that rises to `beta` over the first fifth of the steps."""
    generator = torch.Generator().manual_seed(0)
    model = VAE(64, 16, 128, generator=generator)

    def loss(batch: Tensor, step: int) -> Tensor:
        mean, log_variance = model.encode(batch)
        z = reparameterize(mean, log_variance, generator=generator)
        price = linear_schedule(step, max(1, steps // 5), end=beta)
        return beta_loss(model.log_likelihood(batch, z), gaussian_kl(mean, log_variance), beta=price, floor=floor)

    train(model, loss, x, steps=steps, generator=generator)
    return model


def figure(*, steps: int = 2000) -> Figure:
    """Above, rate against distortion and the nats in each dimension; below, traversals of the four most used."""
    x, new = ((images.flatten(1) > 0.5).float() for images in digits()[:2])
    models = {f"β = {beta:g}": fit(x, steps, beta=beta) for beta in PRICES}
    models["β = 1, 0.3 free nats"] = fit(x, steps, floor=0.3)

    fig = plt.figure(figsize=(12, 7), layout="constrained")
    top, bottom = fig.subfigures(2, 1, height_ratios=[1.6, 1])
    left, right = top.subplots(1, 2)
    generator = torch.Generator().manual_seed(1)
    points = []
    for name, model in models.items():
        with torch.no_grad():
            mean, log_variance = model.encode(new)
            nats = gaussian_kl(mean, log_variance).mean(dim=0)
            z = reparameterize(mean.expand(20, -1, -1), log_variance.expand(20, -1, -1), generator=generator)
            rate, distortion = nats.sum().item(), -model.log_likelihood(new, z).mean().item()
        free = "free" in name
        label = f"{name}: {active_units(mean).sum()} active, ELBO {-rate - distortion:.2f}"
        left.plot(rate, distortion, "s" if free else "o", color="black" if free else None, label=label)
        points += [] if free else [(rate, distortion)]
        if name in ("β = 0.25", "β = 1", "β = 4") or free:
            colour = left.lines[-1].get_color()
            right.plot(
                range(1, 17), nats.sort(descending=True).values, ".--" if free else ".-", color=colour, label=name
            )
    left.plot(*zip(*points), color="grey", linewidth=0.8, zorder=0)
    left.set(xlabel="rate $R$ in nats", ylabel="distortion $D$ in nats", title="Held-out digits at different prices")
    left.legend(fontsize=8)
    right.set(xlabel="latent dimension, most used first", ylabel="mean KL in nats", title="What each dimension carries")
    right.legend(fontsize=8)

    values = torch.linspace(-3, 3, 13)
    sides = bottom.subfigures(1, 2)
    for side, name in zip(sides, ("β = 1", "β = 2")):
        with torch.no_grad():
            mean, log_variance = models[name].encode(new)
            order = gaussian_kl(mean, log_variance).mean(dim=0).argsort(descending=True)[:4]
            images = latent_traversal(models[name].decode, mean[3], values).sigmoid()[order]
        tiles = torch.nn.functional.pad(images.reshape(4, 13, 8, 8), (1, 1, 1, 1), value=0.5)
        axes = side.subplots()
        axes.imshow(tiles.permute(0, 2, 1, 3).reshape(40, 130), cmap="gray", vmin=0, vmax=1)
        axes.set_xticks([5, 65, 125], ["-3", "0", "3"])
        axes.set_yticks([5, 15, 25, 35], ["1st", "2nd", "3rd", "4th"])
        axes.set(
            xlabel="value of the one latent",
            ylabel="latent",
            title=f"{name}: one latent at a time, around a held-out 7",
        )
    return fig
