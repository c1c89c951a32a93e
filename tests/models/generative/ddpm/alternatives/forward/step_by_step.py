"""Plain loops, sums of logarithms, and one image at a time."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]


@dataclass(frozen=True)
class Schedule:
    """beta and alpha_bar, entry t for time t."""

    beta: Float[Tensor, " times"]
    alpha_bar: Float[Tensor, " times"]

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return self.beta.numel() - 1


def _refuse(condition, message):
    if condition:
        raise ValueError(message)


def _check(images, noise, t, schedule, first):
    _refuse(images.ndim != 4 or images.shape != noise.shape, "images and noise must have one shape")
    _refuse(t.is_floating_point() or t.shape != images.shape[:1], "t must hold one integer per image")
    _refuse(any(not first <= time <= schedule.n_steps for time in t.tolist()), "t must lie on the schedule")


def schedule_from_beta(beta: Float[Tensor, " n_steps"]) -> Schedule:
    _refuse(beta.ndim != 1 or beta.numel() == 0 or not all(0 < b < 1 for b in beta.flatten().tolist()), "beta is wrong")
    beta = beta.to(torch.float64)
    log_kept = torch.log1p(-beta).cumsum(0)
    one = torch.ones(1, dtype=torch.float64)
    return Schedule(torch.cat([one - 1, beta]), torch.cat([one, log_kept.exp()]))


def linear(n_steps: int, *, first: float = 1e-4, last: float = 0.02) -> Schedule:
    _refuse(not isinstance(n_steps, int) or n_steps < 2, "n_steps must be at least 2")
    _refuse(not (0 < first < 1 and 0 < last < 1), "first and last must be variances")
    step = (last - first) / (n_steps - 1)
    return schedule_from_beta(torch.tensor([first + k * step for k in range(n_steps)], dtype=torch.float64))


def cosine(n_steps: int, *, offset: float = 0.008, largest: float = 0.999) -> Schedule:
    _refuse(not isinstance(n_steps, int) or n_steps < 2, "n_steps must be at least 2")
    _refuse(not offset >= 0, "offset must not be negative")
    _refuse(not 0 < largest < 1, "largest must lie between 0 and 1")

    def f(t):
        return (1 + math.cos(math.pi * (t / n_steps + offset) / (1 + offset))) / 2

    beta, alpha_bar = [0.0], [1.0]
    for t in range(1, n_steps + 1):
        beta.append(min(1 - f(t) / f(t - 1), largest))
        alpha_bar.append(alpha_bar[-1] * (1 - beta[-1]))
    return Schedule(torch.tensor(beta, dtype=torch.float64), torch.tensor(alpha_bar, dtype=torch.float64))


def snr(schedule: Schedule) -> Float[Tensor, " times"]:
    return 1 / (1 / schedule.alpha_bar - 1)


def per_image(values: Float[Tensor, " times"], t: Times, images: Images) -> Float[Tensor, "batch 1 1 1"]:
    _refuse(images.ndim != 4 or t.is_floating_point() or t.shape != images.shape[:1], "t must fit the images")
    _refuse(any(not 0 <= time < len(values) for time in t.tolist()), "t must be an index")
    chosen = torch.gather(values.to(images.device), 0, t.long())
    return chosen.type(images.dtype).view(-1, 1, 1, 1)


def diffuse_step(previous: Images, t: Times, noise: Images, schedule: Schedule) -> Images:
    _check(previous, noise, t, schedule, 1)
    out = torch.empty_like(previous)
    for i, time in enumerate(t.tolist()):
        beta = float(schedule.beta[time])
        out[i] = math.sqrt(1 - beta) * previous[i] + math.sqrt(beta) * noise[i]
    return out


def diffuse(clean: Images, t: Times, noise: Images, schedule: Schedule) -> Images:
    _check(clean, noise, t, schedule, 0)
    angle = torch.acos(schedule.alpha_bar.sqrt())
    # acos loses digits near 1, where the angle is small: there asin of the noise's share is exact.
    angle = torch.where(schedule.alpha_bar > 0.5, torch.asin((1 - schedule.alpha_bar).sqrt()), angle)
    signal, spread = angle.cos(), angle.sin()
    return torch.stack(
        [float(signal[time]) * x + float(spread[time]) * e for x, e, time in zip(clean, noise, t.tolist())]
    )
