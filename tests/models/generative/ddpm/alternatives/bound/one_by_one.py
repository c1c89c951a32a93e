"""One image at a time; probabilities of bins by log-sum-exp; steps by inverting the distribution function."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlpath.models.generative.ddpm.forward import Schedule
from mlpath.models.generative.ddpm.posterior import Denoiser

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]


def gaussian_kl(
    mean: Float[Tensor, "*shape"],
    log_variance: Float[Tensor, "*shape"],
    other_mean: Float[Tensor, "*shape"],
    other_log_variance: Float[Tensor, "*shape"],
) -> Float[Tensor, "*shape"]:
    half = (log_variance - other_log_variance) / 2
    # exp(2h) - 1 = 2 exp(h) sinh(h)
    ratio = torch.exp(half) * torch.sinh(half) - half
    return ratio + 0.5 * ((mean - other_mean) / torch.exp(other_log_variance / 2)) ** 2


def bin_log_likelihood(
    images: Images, mean: Images, deviation: Float[Tensor, "#batch #channels #height #width"], *, n_levels: int
) -> Float[Tensor, "batch channels height width"]:
    if images.ndim != 4 or images.shape != mean.shape:
        raise ValueError("images and mean must have one shape")
    if not bool((images.abs() <= 1 + 1e-6).all()):
        raise ValueError("images must lie between -1 and 1")
    if not bool((deviation > 0).all()):
        raise ValueError("deviation must be positive")
    if n_levels < 2:
        raise ValueError("n_levels must be at least 2")
    level = torch.round((images.double() + 1) / 2 * (n_levels - 1))
    sign = torch.where(images > mean, -1.0, 1.0)  # mirrored where the bin is on the right
    first = torch.where(sign > 0, level == 0, level == n_levels - 1)
    last = torch.where(sign > 0, level == n_levels - 1, level == 0)
    off = sign * (images.double() - mean.double())
    width = 1 / (n_levels - 1)
    near = torch.special.log_ndtr((off + width) / deviation)
    far = torch.special.log_ndtr((off - width) / deviation)
    near = torch.where(last, torch.zeros_like(near), near)
    inside = near + torch.log1p(-torch.exp(far - near))
    # For narrow bins the difference is small, and so is what log1p is given: expm1 is the better of the two.
    inside = torch.where(far - near > -0.7, near + torch.log(-torch.expm1(far - near)), inside)
    return torch.where(first, near, inside).to(images.dtype)


def prior_term(clean: Images, schedule: Schedule) -> Float[Tensor, " batch"]:
    if clean.ndim != 4:
        raise ValueError("clean must have four axes")
    kept = float(schedule.alpha_bar[-1])
    per_pixel = (-math.log1p(-kept) - kept + kept * clean.double() ** 2) / 2
    return per_pixel.sum(dim=(1, 2, 3)).to(clean.dtype)


def step_term(
    predicted: Images,
    clean: Images,
    noisy: Images,
    t: Times,
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
    n_levels: int,
) -> Float[Tensor, " batch"]:
    if not predicted.shape == clean.shape == noisy.shape or clean.ndim != 4:
        raise ValueError("predicted, clean and noisy must have one shape")
    if variance.shape != schedule.beta.shape or not all(v > 0 for v in variance[1:].tolist()):
        raise ValueError("variance must be positive")
    out = []
    for guess, x, step in zip(predicted, clean, t.tolist()):
        chosen = float(variance[step])
        if step == 1:
            deviation = torch.full((1, 1, 1, 1), math.sqrt(chosen), dtype=torch.float64)
            out.append(-bin_log_likelihood(x[None], guess[None], deviation, n_levels=n_levels).sum())
            continue
        # The noisy image has the same coefficient in both means, so only the guess's error is left.
        beta, before, after = (float(a) for a in (schedule.beta[step], *schedule.alpha_bar[step - 1 : step + 1]))
        ratio = (1 - before) / (1 - after) * beta / chosen
        coefficient = math.sqrt(before) * beta / (1 - after)
        shape_cost = (ratio - 1 - math.log(ratio)) / 2 * x.numel()
        out.append(shape_cost + coefficient**2 / (2 * chosen) * ((guess - x) ** 2).sum())
    return torch.stack(out)


@torch.no_grad()
def variational_bound(
    denoiser: Denoiser,
    clean: Images,
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
    n_levels: int,
    generator: torch.Generator,
) -> Float[Tensor, "batch times"]:
    if clean.ndim != 4:
        raise ValueError("clean must have four axes")
    bits = clean[0].numel() * math.log(2)
    columns = [prior_term(clean, schedule) / bits]
    for step in range(schedule.n_steps, 0, -1):
        kept = float(schedule.alpha_bar[step])
        noise = torch.randn(clean.shape, generator=generator, dtype=clean.dtype)
        noisy = math.sqrt(kept) * clean + math.sqrt(1 - kept) * noise
        t = torch.tensor([step] * len(clean))
        term = step_term(denoiser(noisy, t), clean, noisy, t, schedule, variance=variance, n_levels=n_levels)
        columns.insert(0, term / bits)
    return torch.stack(columns, dim=1)


@dataclass(frozen=True)
class History:
    """The last losses of each step."""

    losses: Float[Tensor, "times kept"]

    @staticmethod
    def empty(n_steps: int, kept: int = 10) -> "History":
        """Nothing seen."""
        return History(torch.full((n_steps + 1, kept), math.nan, dtype=torch.float64))


def record(history: History, t: Times, losses: Float[Tensor, " batch"]) -> History:
    rows = history.losses.tolist()
    for step, loss in zip(t.tolist(), losses.tolist()):
        rows[step] = [*rows[step][1:], loss]
    return History(torch.tensor(rows, dtype=torch.float64))


def step_probabilities(history: History, *, uniform: float = 0.001) -> Float[Tensor, " times"]:
    if not 0 < uniform <= 1:
        raise ValueError("uniform must lie between 0 and 1")
    rows = history.losses.tolist()[1:]
    roots = [math.sqrt(sum(x * x for x in row) / len(row)) for row in rows]
    if any(math.isnan(r) for r in roots) or sum(roots) == 0:
        roots = [1.0] * len(rows)
    p = [(1 - uniform) * r / sum(roots) + uniform / len(rows) for r in roots]
    return torch.tensor([0.0, *p], dtype=torch.float64)


def draw_steps(
    probabilities: Float[Tensor, " times"], n_draws: int, *, generator: torch.Generator
) -> tuple[Int[Tensor, "{n_draws}"], Float[Tensor, "{n_draws}"]]:
    p = probabilities
    if p.ndim != 1 or not bool((p >= 0).all()) or p[0] != 0 or not abs(float(p.sum()) - 1) < 1e-4:
        raise ValueError("probabilities must be a distribution of steps")
    edges = p.double().cumsum(0)
    u = torch.rand(n_draws, generator=generator, dtype=torch.float64) * edges[-1]
    t = torch.searchsorted(edges, u, right=True).clamp(max=len(p) - 1)
    return t, 1 / p[t] / (len(p) - 1)
