"""Products of Gaussians by their precisions, in noise rather than clean images, and random numbers drawn all at once."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlpath.models.generative.ddpm.forward import Schedule

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]
Denoiser = Callable[[Images, Times], Images]


def _check(images, other, t, schedule):
    if images.ndim != 4 or images.shape != other.shape:
        raise ValueError("images must have one shape")
    if t.is_floating_point() or t.shape != images.shape[:1] or any(not 1 <= s <= schedule.n_steps for s in t.tolist()):
        raise ValueError("t must be steps")


def _variance(schedule, t):
    """Precisions add up; before the first step the precision is infinite."""
    if t <= 1:
        return 0.0
    beta = float(schedule.beta[t])
    return 1 / ((1 - beta) / beta + 1 / (1 - float(schedule.alpha_bar[t - 1])))


def posterior_variance(schedule: Schedule) -> Float[Tensor, " times"]:
    return torch.tensor([_variance(schedule, t) for t in range(schedule.n_steps + 1)], dtype=torch.float64)


def posterior_mean(clean: Images, noisy: Images, t: Times, schedule: Schedule) -> Images:
    _check(noisy, clean, t, schedule)
    out = clean.clone()
    for i, step in enumerate(t.tolist()):
        if step > 1:
            beta, before = float(schedule.beta[step]), float(schedule.alpha_bar[step - 1])
            pull_back = math.sqrt(before) / (1 - before) * clean[i]
            pull_on = math.sqrt(1 - beta) / beta * noisy[i]
            out[i] = _variance(schedule, step) * (pull_back + pull_on)
    return out


def reverse_variance(schedule: Schedule, *, share: float = 0.0) -> Float[Tensor, " times"]:
    if not 0 <= share <= 1:
        raise ValueError("share must lie between 0 and 1")
    small, large = posterior_variance(schedule), schedule.beta
    if share in (0.0, 1.0):
        return large.clone() if share else small
    return torch.exp(share * large.log() + (1 - share) * small.log())


def ancestral_step(
    predicted: Images, noisy: Images, t: Times, noise: Images, schedule: Schedule, *, variance: Float[Tensor, " times"]
) -> Images:
    _check(noisy, noise, t, schedule)
    if len(variance) != schedule.n_steps + 1:
        raise ValueError("variance must have an entry for each time")
    used = variance.clone()
    used[1] = 0
    mean = posterior_mean(predicted, noisy, t, schedule)
    return torch.stack([m + math.sqrt(used[s]) * e for m, e, s in zip(mean, noise, t.tolist())])


@torch.no_grad()
def sample(
    denoiser: Denoiser,
    shape: tuple[int, int, int, int],
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
    clip: tuple[float, float] | None = None,
    generator: torch.Generator,
) -> Float[Tensor, "batch channels height width"]:
    if len(shape) != 4:
        raise ValueError("shape must have four entries")
    if clip is not None and not clip[0] < clip[1]:
        raise ValueError("clip must be an interval")
    noises = torch.randn((schedule.n_steps, *shape), generator=generator, device=generator.device)
    x, step = noises[0], schedule.n_steps
    while step > 0:
        t = torch.tensor([step] * shape[0], device=generator.device)
        guess = denoiser(x, t)
        guess = (
            guess
            if clip is None
            else torch.minimum(torch.maximum(guess, guess.new_tensor(clip[0])), guess.new_tensor(clip[1]))
        )
        noise = noises[-(step - 1)] if step > 1 else torch.zeros_like(x)
        x = ancestral_step(guess, x, t, noise, schedule, variance=variance)
        step -= 1
    return x
