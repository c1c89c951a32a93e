"""Layers as flat vectors, inner products of normalised ones, and Adam written out with its corrections folded."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.optim.adaptive import AdamState


@dataclass(frozen=True)
class VelocityState:
    velocity: np.ndarray


def _polar(array):
    """The length of a layer, and its direction as a flat vector (of zeros, if it has none)."""
    flat = array.ravel()
    scale = np.abs(flat).max(initial=0)
    if scale == 0:
        return 0.0, flat.copy()
    flat = flat / scale
    length = math.sqrt(flat @ flat)
    return float(scale) * length, flat / length


def trust_ratio(x, move, *, weight_decay=0.0, trust=1.0):
    length, _ = _polar(x)
    step, _ = _polar(move)
    return trust / (step / length + weight_decay) if length and step else 1.0


def lars(state, gradient, x, *, step_size=1.0, momentum=0.9, weight_decay=0.0, trust=1e-3):
    _check(state.velocity, gradient, x, weight_decay, (momentum,), step_size=step_size, trust=trust)
    rate = step_size * trust_ratio(x, gradient, weight_decay=weight_decay, trust=trust)
    update = -momentum * state.velocity
    update -= rate * gradient
    update -= rate * weight_decay * x
    return VelocityState(-update), update


def _adam(state, gradient, decays, eps):
    count = state.count + 1
    first = state.first + (1 - decays[0]) * (gradient - state.first)
    second = state.second + (1 - decays[1]) * (np.square(gradient) - state.second)
    scale = math.sqrt(1 - decays[1] ** count)
    move = first / (np.sqrt(second) + eps * scale)
    move *= scale / (1 - decays[0] ** count)
    return AdamState(count, first, second), move


def lamb(state, gradient, x, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
    _check(state.first, gradient, x, weight_decay, decays, step_size=step_size, eps=eps)
    state, move = _adam(state, gradient, decays, eps)
    move += weight_decay * x
    length, (step, direction) = _polar(x)[0], _polar(move)
    return state, -step_size * (length or step) * direction.reshape(x.shape)


def layerwise(rule, *, exempt, plain):
    def step(states, gradients, x):
        new, updates = {}, {}
        for name, weights in x.items():
            one = rule
            if name in exempt:
                one = plain
            new[name], updates[name] = one(states[name], gradients[name], weights)
        return new, updates

    return step


def effective_step(x, update):
    before, after = _polar(x), _polar(x + update)
    if not before[0] > 0 or not after[0] > 0:
        raise ValueError(f"x must not be zero, {before[0]}, {after[0]}")
    return _polar(after[1] - before[1])[0]


def tangential(x, move):
    _, direction = _polar(x)
    flat = move.ravel()
    return (flat - (direction @ flat) * direction).reshape(x.shape)


def seems_scale_invariant(gradient, x, *, threshold=0.1):
    cosine = _polar(gradient)[1] @ _polar(x)[1]
    return bool(cosine**2 * x.size < threshold**2)


def adamp(
    state,
    gradient,
    x,
    *,
    step_size=1e-3,
    decays=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    threshold=0.1,
    decay_share=0.1,
):
    _check(state.first, gradient, x, weight_decay, decays, step_size=step_size, eps=eps, threshold=threshold)
    state, move = _adam(state, gradient, decays, eps)
    shrink = step_size * weight_decay
    if seems_scale_invariant(gradient, x, threshold=threshold):
        move = tangential(x, move)
        shrink *= decay_share
    return state, -step_size * move - shrink * x


def _check(like, gradient, x, weight_decay, shares, **positive):
    for name, array in (("gradient", gradient), ("x", x)):
        if array.shape != like.shape:
            raise ValueError(f"{name} of shape {array.shape}")
    for name, value in positive.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} {value}")
    if not 0 <= weight_decay < np.inf:
        raise ValueError(f"weight_decay {weight_decay}")
    if not all(0 <= share < 1 for share in shares):
        raise ValueError(f"a decay, or momentum, {shares}")
