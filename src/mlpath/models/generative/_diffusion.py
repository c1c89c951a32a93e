"""What the diffusion exercises train and judge with: a short training run on the digits, and its quality figures.

Everything runs on the device of the images that it is given.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from mlpath.models.generative.ddpm.forward import Schedule, cosine, diffuse, snr
from mlpath.models.generative.ddpm.parameterization import Kind, min_snr_weight, to_clean, weighted_loss
from mlpath.models.generative.ddpm.posterior import reverse_variance, sample
from mlpath.models.generative.ddpm.unet import UNet

Images = Float[Tensor, "n_images channels height width"]
Labels = Int[Tensor, " n_images"]
Features = Float[Tensor, "n_images n_features"]


# ------------------------------------------------------------------ training


@dataclass(frozen=True)
class Trained:
    """A network whose weights are averaged over the run, and what it predicts on which schedule."""

    network: UNet
    kind: Kind
    schedule: Schedule
    losses: list[float]

    def denoiser(self, noisy: Images, t: Int[Tensor, " n_images"]) -> Images:
        """Return guesses of the clean images."""
        return to_clean(self.network(noisy, t), self.kind, noisy, t, self.schedule)

    def draw(self, n_images: int, *, share: float = 1.0, generator: torch.Generator) -> Images:
        """Return fresh images with grey levels in [0, 1], on the generator's device, which is the network's."""
        shape = (n_images, 1, 8, 8)
        variance = reverse_variance(self.schedule, share=share)
        images = sample(self.denoiser, shape, self.schedule, variance=variance, clip=(-1, 1), generator=generator)
        return (images + 1) / 2


def train(
    images: Images,
    *,
    steps: int = 3000,
    batch: int = 64,
    rate: float = 2e-3,
    kind: Kind = "velocity",
    gamma: float | None = None,
    n_steps: int = 200,
    dropout: float = 0.1,
    memory: float = 0.995,
    report: Callable[[int, float], object] | None = None,
    generator: torch.Generator,
) -> Trained:
    """Train a U-Net on images with grey levels in [0, 1]; return it with averaged weights.

    All times count alike in the loss of what is predicted, or with the min-SNR weights cut at `gamma`. The images are gone
    through in ever new orders, and the times of a batch lie evenly over the schedule, which lessens the noise of the loss. The
    rate warms up over 50 steps, stays for half of the run and falls to zero along a cosine. `memory` is the share of the
    average that survives a step. `report` is called with the step and the loss. The generator, on any device, is the source
    of all randomness.
    """
    clean = 2 * images - 1
    schedule = cosine(n_steps)
    weight = torch.ones(n_steps + 1) if gamma is None else min_snr_weight(kind, snr(schedule), gamma=gamma)
    losses = []
    with torch.random.fork_rng():  # weights and dropout draw from the global generator
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator, device=generator.device)))
        network = UNet(images.shape[1], dropout=dropout).to(images.device)
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which is faster
        average = copy.deepcopy(network).eval().requires_grad_(False)
        optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
        order = torch.empty(0, dtype=torch.long, device=generator.device)
        for step in range(steps):
            for group in optimizer.param_groups:
                falling = max(0.0, 2 * step / steps - 1)
                group["lr"] = rate * min(1, (step + 1) / 50) * (1 + math.cos(math.pi * falling)) / 2
            while len(order) < batch:
                order = torch.cat([order, torch.randperm(len(clean), generator=generator, device=generator.device)])
            chosen, order = order[:batch].to(clean.device), order[batch:]
            x, t = clean[chosen], spread_times(batch, n_steps, generator=generator).to(clean.device)
            noise = torch.randn(x.shape, generator=generator, device=generator.device).to(clean.device)
            prediction = network(diffuse(x, t, noise, schedule), t)
            loss = weighted_loss(prediction, kind, x, noise, t, schedule, weight=weight).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            update_average(average, network, min(memory, (1 + step) / (10 + step)))
            losses.append(loss.item())
            if report is not None:
                report(step, losses[-1])
    return Trained(average, kind, schedule, losses)


def spread_times(n_times: int, n_steps: int, *, generator: torch.Generator) -> Int[Tensor, " n_times"]:
    """Return times in 1 ... n_steps, one from each of as many equal stretches: each is uniform, and together they lie evenly."""
    within = torch.rand(n_times, generator=generator, device=generator.device)
    return 1 + ((torch.arange(n_times, device=within.device) + within) / n_times * n_steps).long().clamp(
        max=n_steps - 1
    )


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, memory: float) -> None:
    """Move each averaged weight towards the network's by a share of 1 - memory."""
    for kept, new in zip(average.parameters(), network.parameters()):
        kept.lerp_(new, 1 - memory)


# ------------------------------------------------------------------- judging


class Classifier(nn.Module):
    """A small convolutional network for 8 × 8 digits; `features` is its last layer but one."""

    def __init__(self, n_features: int = 64) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3)),
            *(nn.Linear(256, n_features), nn.ReLU()),
        )
        self.head = nn.Linear(n_features, 10)

    @torch.no_grad()
    def features(self, images: Images) -> Features:
        """Return what the last layer sees."""
        return self.body(images)

    def forward(self, images: Images) -> Float[Tensor, "n_images 10"]:
        """Return the logits of the ten classes for images with grey levels in [0, 1]."""
        return self.head(self.body(images))


def train_classifier(images: Images, labels: Labels, *, epochs: int = 30, generator: torch.Generator) -> Classifier:
    """Return a classifier trained with Adam, in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator, device=generator.device)))
        network = Classifier().to(images.device)
        optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
        for _ in range(epochs):
            order = torch.randperm(len(images), generator=generator, device=generator.device).to(images.device)
            for batch in order.split(64):
                optimizer.zero_grad()
                functional.cross_entropy(network(images[batch]), labels[batch]).backward()
                optimizer.step()
            schedule.step()
    return network.eval()


def frechet_distance(a: Features, b: Features) -> float:
    r"""Return the squared Fréchet distance of the Gaussians with the means and covariances of two sets of features.

    $\lVert \mu_a - \mu_b \rVert^2 + \operatorname{tr}(A + B - 2 (A^{1/2} B A^{1/2})^{1/2})$, in float64.
    """
    a, b = a.double(), b.double()
    cov_a, cov_b = a.T.cov(), b.T.cov()
    values, vectors = torch.linalg.eigh(cov_a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross)


def nearest(images: Images, others: Images) -> tuple[Float[Tensor, " n_images"], Labels]:
    """Return each image's Euclidean distance to the nearest of the others, and which that is."""
    distance, index = torch.cdist(images.flatten(1), others.flatten(1)).min(dim=1)
    return distance, index


@dataclass(frozen=True)
class Quality:
    """How good images are, and whether they are new."""

    frechet: float
    """Fréchet distance to the held-out images, in the classifier's features."""
    confidence: float
    """Mean probability of the most probable class."""
    smallest_class: float
    """Share of the rarest class among the most probable ones."""
    distances: Float[Tensor, " n_images"]
    """Each image's distance to the nearest training image."""
    n_copies: int
    """Images closer to a training image than a third of that one's distance to its own nearest neighbour."""


@torch.no_grad()
def judge(images: Images, classifier: Classifier, train_images: Images, held_out: Images) -> Quality:
    """Return the quality of images with grey levels in [0, 1]."""
    probability = classifier(images).softmax(dim=1)
    share = probability.argmax(dim=1).bincount(minlength=10) / len(images)
    distances, index = nearest(images, train_images)
    among = torch.cdist(train_images.flatten(1), train_images.flatten(1))
    among.fill_diagonal_(math.inf)
    return Quality(
        frechet=frechet_distance(classifier.features(images), classifier.features(held_out)),
        confidence=float(probability.amax(dim=1).mean()),
        smallest_class=float(share.min()),
        distances=distances,
        n_copies=int((distances < among.amin(dim=1)[index] / 3).sum()),
    )
