"""A VAE trained on binary digits beside its rival of the same trade: a mixture of 50 Bernoulli products, fitted by EM.

Both see the same 1,437 digits, binary (grey level above one half), and are judged by the log-likelihood of the other
360, in nats an image: the mixture's is exact, the VAE's is the importance-weighted lower bound of 100 draws. The
mixture's smoothing is chosen on a fifth of the training digits; it is then fitted to all of them from five starts, of
which the most likely is kept. The VAE's sizes were chosen on a part of the training digits too.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import math
from time import perf_counter

import torch
from jaxtyping import Float
from torch import Tensor

from mlpath.models.generative._shared import digits
from mlpath.models.generative._training import train
from mlpath.models.generative.vae.elbo import VAE, elbo, iwae_bound, log_importance_weights

Binary = Float[Tensor, "n_images n_features"]


def log_joint(x: Binary, weights: Tensor, means: Tensor) -> Float[Tensor, "n_images n_components"]:
    """Return log p(x, component)."""
    return weights.log() + x @ means.log().T + (1 - x) @ (1 - means).log().T


def fit_mixture(x: Binary, n_components: int, smoothing: float, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Fit weights and means by EM from random responsibilities, until it stalls.

    `smoothing` is the number of imagined black and of imagined white pixels that each mean begins with.
    """
    responsibility = (3 * torch.randn(len(x), n_components, generator=generator)).softmax(-1)
    previous = -math.inf
    for _ in range(500):
        counts = responsibility.sum(0)
        means = (responsibility.T @ x + smoothing) / (counts[:, None] + 2 * smoothing)
        weights = (counts + smoothing) / (counts + smoothing).sum()
        joint = log_joint(x, weights, means)
        evidence = joint.logsumexp(-1)
        responsibility = (joint - evidence[:, None]).exp()
        if evidence.mean() - previous < 1e-5:
            break
        previous = evidence.mean()
    return weights, means


def choose_mixture(x: Binary, n_components: int = 50, n_starts: int = 5) -> tuple[float, Tensor, Tensor]:
    """Choose the smoothing on a fifth of `x`, then fit all of it from several starts and keep the most likely fit."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    rest, fifth = x[order[len(x) // 5 :]], x[order[: len(x) // 5]]

    def fits(data: Binary, smoothing: float) -> list[tuple[Tensor, Tensor]]:
        starts = [torch.Generator().manual_seed(seed) for seed in range(n_starts)]
        return [fit_mixture(data, n_components, smoothing, generator=start) for start in starts]

    def score(data: Binary, fit: tuple[Tensor, Tensor]) -> float:
        return log_joint(data, *fit).logsumexp(-1).mean().item()

    smoothing = max((0.03, 0.06, 0.1, 0.2, 0.3, 0.5), key=lambda s: sum(score(fifth, fit) for fit in fits(rest, s)))
    return smoothing, *max(fits(x, smoothing), key=lambda fit: score(x, fit))


def held_out_bounds(x: Binary, new: Binary, *, seed: int) -> tuple[Tensor, Tensor]:
    """Train a VAE on `x`; return the ELBO and the importance-weighted bound of each image of `new`."""
    generator = torch.Generator().manual_seed(seed)
    model = VAE(64, 16, 256, generator=generator)
    train(model, lambda batch, _: -elbo(model, batch, generator=generator).mean(), x, steps=6000, generator=generator)
    with torch.no_grad():
        bound = elbo(model, new, n_samples=100, generator=generator)
        tight = iwae_bound(log_importance_weights(model, new, n_samples=100, generator=generator))
    return bound, tight


def main() -> None:
    """Fit both and print the table."""
    train_images, held_out, _, _ = digits()
    x, new = ((images.flatten(1) > 0.5).float() for images in (train_images, held_out))

    start = perf_counter()
    smoothing, weights, means = choose_mixture(x)
    mixture = log_joint(new, weights, means).logsumexp(-1)
    name = f"mixture of 50, smoothing {smoothing}"
    print(f"{name:<34} {mixture.mean():8.3f} nats   {perf_counter() - start:5.1f} s for all 35 fits")

    for seed in range(3):
        start = perf_counter()
        bound, tight = held_out_bounds(x, new, seed=seed)
        print(f"VAE(64, 16, 256), seed {seed}: ELBO         {bound.mean():8.3f} nats   {perf_counter() - start:5.1f} s")
        print(f"{'    importance-weighted, 100 draws':<34} {tight.mean():8.3f} nats")
        better = tight - mixture
        error = better.std() / math.sqrt(len(new))
        print(f"{'    less the mixture, image by image':<34} {better.mean():+8.3f} ± {error:.3f} (standard error)")
        assert better.mean() > 3 * error, "the VAE does not beat the mixture"


if __name__ == "__main__":
    main()
