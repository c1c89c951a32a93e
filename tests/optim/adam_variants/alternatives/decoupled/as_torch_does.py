"""In the order of production code: parameters shrunk first, corrections folded into scalars, arrays reused."""

import math
from dataclasses import dataclass, replace

import numpy as np

from mlpath.optim.adaptive import AdamState


@dataclass(frozen=True)
class NAdamState:
    count: int
    product: float
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class LookaheadState:
    count: int
    slow: np.ndarray
    inner: object


def nadam_at_rest(like):
    return NAdamState(0, 1.0, np.zeros_like(like), np.zeros_like(like))


def _towards(average, value, decay):
    """The average moved towards a value by a share of 1 - decay; overwrites the value."""
    value -= average
    value *= 1 - decay
    value += average
    return value


def _averaged(state, gradient, decays):
    first = _towards(state.first, gradient.copy(), decays[0])
    return replace(
        state, count=state.count + 1, first=first, second=_towards(state.second, np.square(gradient), decays[1])
    )


def _update(x, shrink, *terms):
    """What leads from x to shrink * x plus the sum of factor * array / root."""
    update = (shrink - 1) * x
    for factor, array, root in terms:
        update += factor * array if root is None else factor * array / root
    return update


def adamw(state, gradient, x, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    new = _averaged(state, gradient, decays)
    root = np.sqrt(new.second) / math.sqrt(1 - decays[1] ** new.count) + eps
    factor = -step_size / (1 - decays[0] ** new.count)
    return new, _update(x, 1 - step_size * weight_decay, (factor, new.first, root))


def scheduled_momentum(count, decay, momentum_decay=4e-3):
    return decay - decay / 2 * math.exp(count * momentum_decay * math.log(0.96))


def nadam(
    state,
    gradient,
    x,
    *,
    step_size=2e-3,
    decays=(0.9, 0.999),
    momentum_decay=4e-3,
    eps=1e-8,
    weight_decay=0.0,
):
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    if not 0 <= momentum_decay < np.inf:
        raise ValueError(f"momentum_decay {momentum_decay}")
    new = _averaged(state, gradient, decays)
    share, following = (scheduled_momentum(new.count + i, decays[0], momentum_decay) for i in (0, 1))
    new = replace(new, product=new.product * share)
    root = np.sqrt(new.second / (1 - decays[1] ** new.count)) + eps
    terms = (
        (-step_size * (1 - share) / (1 - new.product), gradient, root),
        (-step_size * following / (1 - new.product * following), new.first, root),
    )
    return new, _update(x, 1 - step_size * weight_decay, *terms)


def sma_lengths(count, decay):
    if count < 1:
        raise ValueError(f"count {count}")
    if not 0 <= decay < 1:
        raise ValueError(f"decay {decay}")
    weights = decay ** np.arange(count)  # the mean age of (4) by its sum
    return float(1 + 2 * (np.arange(count) @ weights) / weights.sum()), (1 + decay) / (1 - decay)


def rectification(length, longest):
    if not 0 < length <= longest:
        raise ValueError(f"length {length}")
    if length > 5:
        above = math.sqrt(length - 4) * math.sqrt(length - 2) * math.sqrt(longest)
        return above / (math.sqrt(longest - 4) * math.sqrt(longest - 2) * math.sqrt(length))
    return 0.0


def radam(state, gradient, x, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    new = _averaged(state, gradient, decays)
    length, longest = sma_lengths(new.count, decays[1])
    factor, root = -step_size / (1 - decays[0] ** new.count), None
    if length > 5:
        root = np.sqrt(new.second) + eps
        factor *= rectification(length, max(length, longest)) * math.sqrt(1 - decays[1] ** new.count)
    return new, _update(x, 1 - step_size * weight_decay, (factor, new.first, root))


def adabelief(state, gradient, x, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-16, weight_decay=0.0):
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    first = _towards(state.first, gradient.copy(), decays[0])
    second = _towards(state.second, np.square(first - gradient), decays[1])
    second += eps
    new = AdamState(state.count + 1, first, second)
    scale = math.sqrt(1 - decays[1] ** new.count)
    term = (-step_size * scale / (1 - decays[0] ** new.count), first, np.sqrt(second) + eps * scale)
    return new, _update(x, 1 - step_size * weight_decay, term)


class lookahead:
    """A rule as an object."""

    def __init__(self, rule, *, every=5, pull=0.5):
        if every < 1:
            raise ValueError(f"every {every}")
        if not 0 < pull <= 1:
            raise ValueError(f"pull {pull}")
        self.rule, self.every, self.pull = rule, every, pull

    def __call__(self, state, gradient, x):
        inner, update = self.rule(state.inner, gradient, x)
        new = LookaheadState(state.count + 1, state.slow, inner)
        if new.count % self.every:
            return new, update
        slow = (1 - self.pull) * state.slow + self.pull * (x + update)
        return replace(new, slow=slow), slow - x


def _check(average, gradient, x, step_size, eps, weight_decay, decays):
    for name, good in (
        ("gradient", gradient.shape == average.shape),
        ("x", x.shape == average.shape),
        ("step_size", 0 < step_size < np.inf),
        ("eps", 0 < eps < np.inf),
        ("weight_decay", 0 <= weight_decay < np.inf),
        ("decay", all(0 <= decay < 1 for decay in decays)),
    ):
        if not good:
            raise ValueError(f"{name} is unusable")
