"""A VAE of the binary digits: its bounds, what it reconstructs, and what it dreams up."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mlpath.models.generative._shared import digits
from mlpath.models.generative._training import train
from mlpath.models.generative.vae.elbo import VAE, elbo, gaussian_kl, iwae_bound, log_importance_weights


def figure(*, steps: int = 6000) -> Figure:
    """Above, the bound against its number of draws and the nats that each latent dimension carries; below, digits."""
    generator = torch.Generator().manual_seed(0)
    x, new = ((images.flatten(1) > 0.5).float() for images in digits()[:2])
    model = VAE(64, 16, 256, generator=generator)
    train(model, lambda batch, _: -elbo(model, batch, generator=generator).mean(), x, steps=steps, generator=generator)

    with torch.no_grad():
        counts = [1, 2, 5, 10, 20, 50, 100, 200]
        weights = log_importance_weights(model, new, n_samples=200, generator=generator)
        bounds = [torch.stack([iwae_bound(part) for part in weights.split(k)]).mean() for k in counts]
        mean, log_variance = model.encode(new)
        nats = gaussian_kl(mean, log_variance).mean(dim=0).sort(descending=True).values
        rows = {
            "held out": new[:20],
            "reconstructed": model.decode(mean[:20]).sigmoid(),
            "sampled": model.decode(torch.randn(20, 16, generator=generator)).sigmoid(),
            "": model.decode(torch.randn(20, 16, generator=generator)).sigmoid(),
        }

    fig = plt.figure(figsize=(11, 6.5), layout="constrained")
    top, bottom = fig.subfigures(2, 1, height_ratios=[1.2, 1])
    left, right = top.subplots(1, 2)
    left.semilogx(counts, bounds, "o-")
    left.set(
        xlabel="draws $K$", ylabel="nats per held-out digit", title=r"The bound $\mathcal{L}_K$; $K = 1$ is the ELBO"
    )
    left.set_xticks([1, 10, 100], ["1", "10", "100"])
    left.annotate(f"{bounds[0]:.2f}", (1, bounds[0]), (10, -3), textcoords="offset points")
    left.annotate(f"{bounds[6]:.2f}", (100, bounds[6]), (0, -14), textcoords="offset points")
    right.bar(range(1, 17), nats)
    right.set(
        xlabel="latent dimension, most used first",
        ylabel="mean KL in nats",
        title=f"What {nats.sum():.1f} nats are spent on",
    )
    for axes, (name, images) in zip(bottom.subplots(4, 1), rows.items()):
        strip = (
            torch.nn.functional.pad(images.reshape(-1, 8, 8), (1, 1, 1, 1), value=0.5).transpose(0, 1).reshape(10, -1)
        )
        axes.imshow(strip, cmap="gray", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    return fig
