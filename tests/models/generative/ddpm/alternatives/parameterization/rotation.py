"""Everything is a rotation by an angle, done one image at a time with plain numbers; weights by loops."""

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlpath.models.generative.ddpm.forward import Schedule

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]
Kind = Literal["noise", "clean", "velocity"]
_KINDS = ("noise", "clean", "velocity")


def _check(kinds, images, other, t, schedule):
    if any(kind not in _KINDS for kind in kinds):
        raise ValueError(f"kind must be one of {_KINDS}")
    if images.ndim != 4 or images.shape != other.shape:
        raise ValueError("images must have one shape")
    if t.is_floating_point() or t.shape != images.shape[:1] or any(not 1 <= s <= schedule.n_steps for s in t.tolist()):
        raise ValueError("t must be times")


def _angles(t, schedule):
    """For each image the cosine and the sine of its angle."""
    for s in t.tolist():
        kept = float(schedule.alpha_bar[s])
        yield math.sqrt(kept), math.sqrt(1 - kept)


def target(kind: Kind, clean: Images, noise: Images, t: Times, schedule: Schedule) -> Images:
    _check([kind], clean, noise, t, schedule)
    if kind == "velocity":
        return torch.stack([c * e - s * x for x, e, (c, s) in zip(clean, noise, _angles(t, schedule))])
    return {"noise": noise, "clean": clean}[kind].clone()


def _both(prediction, kind, noisy, t, schedule):
    clean, noise = [], []
    for said, x, (c, s) in zip(prediction, noisy, _angles(t, schedule)):
        if kind == "velocity":
            image, e = c * x - s * said, s * x + c * said
        elif kind == "noise":
            image, e = x / c - s / c * said if c else x * math.nan, said
        else:
            image, e = said, x / s - c / s * said if s else x * math.nan
        clean.append(image)
        noise.append(e)
    return torch.stack(clean), torch.stack(noise)


def to_clean(prediction: Images, kind: Kind, noisy: Images, t: Times, schedule: Schedule) -> Images:
    _check([kind], noisy, prediction, t, schedule)
    return _both(prediction, kind, noisy, t, schedule)[0]


def to_noise(prediction: Images, kind: Kind, noisy: Images, t: Times, schedule: Schedule) -> Images:
    _check([kind], noisy, prediction, t, schedule)
    return _both(prediction, kind, noisy, t, schedule)[1]


def convert(prediction: Images, source: Kind, destination: Kind, noisy: Images, t: Times, schedule: Schedule) -> Images:
    _check([source, destination], noisy, prediction, t, schedule)
    if source == destination:
        return prediction.clone()
    clean, noise = _both(prediction, source, noisy, t, schedule)
    if destination == "velocity":
        # The velocity is what is left of the pair after turning it: from the two, without the mixture.
        return target("velocity", clean, noise, t, schedule)
    return clean if destination == "clean" else noise


def min_snr_weight(kind: Kind, snr: Float[Tensor, " n"], *, gamma: float = 5.0) -> Float[Tensor, " n"]:
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {_KINDS}")
    if not gamma > 0:
        raise ValueError("gamma must be positive")
    weights = []
    for ratio in snr.tolist():
        if not ratio >= 0:
            raise ValueError("snr must not be negative")
        cut = 1.0 if ratio <= gamma else gamma / ratio
        kept = 1.0 if math.isinf(ratio) else ratio / (1 + ratio)
        weights.append({"clean": min(ratio, gamma), "noise": cut, "velocity": cut * kept}[kind])
    return torch.tensor(weights, dtype=snr.dtype)


def weighted_loss(
    prediction: Images,
    kind: Kind,
    clean: Images,
    noise: Images,
    t: Times,
    schedule: Schedule,
    *,
    weight: Float[Tensor, " times"],
) -> Float[Tensor, " batch"]:
    _check([kind], clean, prediction, t, schedule)
    if len(weight) != schedule.n_steps + 1:
        raise ValueError("weight must have an entry for each time")
    right = target(kind, clean, noise, t, schedule)
    return torch.stack([float(weight[s]) * ((p - y) ** 2).mean() for p, y, s in zip(prediction, right, t.tolist())])
