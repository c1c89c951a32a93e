"""One step at a time: triangles folded by absolute values, waves by squared sines, cycles counted off one by one."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Int

from mlpath.optim.schedules._shared import Rates, Steps, check_count, check_end, check_rate, check_share, whole_steps

Mode = Literal["triangular", "triangular2", "exp_range"]


@dataclass(frozen=True)
class Plateau:
    rate: float
    best: float = np.inf
    n_bad: int = 0
    cooldown: int = 0


def cosine_between(first: float, last: float, share: Rates) -> Rates:
    done = np.sin(np.pi / 2 * share) ** 2
    return first * (1 - done) + last * done


def cyclical(
    step: Steps,
    low: float,
    high: float,
    *,
    n_up: int,
    n_down: int | None = None,
    mode: Mode = "triangular",
    factor: float = 1.0,
) -> Rates:
    n_down = n_up if n_down is None else n_down
    _check_cyclical(low, high, n_up, n_down, mode, factor)

    def rate(t: int) -> float:
        height = high - low
        while mode == "triangular2" and t >= n_up + n_down and height > 0:
            t, height = t - n_up - n_down, height / 2
        if mode == "exp_range":
            height *= factor**t
        t %= n_up + n_down
        return low + height * (t / n_up if t < n_up else 1 - (t - n_up) / n_down)

    return _each(rate, step)


def one_cycle(
    step: Steps, peak: float, *, n_up: int, n_steps: int, start_divisor: float = 25.0, end_divisor: float = 2.5e5
) -> Rates:
    check_rate(peak, "peak")
    _check_one_cycle(n_up, n_steps)
    for divisor, name in ((start_divisor, "start_divisor"), (end_divisor, "end_divisor")):
        if not 1 <= divisor < np.inf:
            raise ValueError(f"{name} must be at least 1 and finite, got {divisor}")

    def rate(t: int) -> float:
        if t <= n_up:
            return float(cosine_between(peak / start_divisor, peak, t / n_up))
        return float(cosine_between(peak / end_divisor, peak, max(n_steps - t, 0) / (n_steps - n_up)))

    return _each(rate, step)


def one_cycle_momentum(step: Steps, *, n_up: int, n_steps: int, low: float = 0.85, high: float = 0.95) -> Rates:
    _check_one_cycle(n_up, n_steps)
    if not 0 <= low <= high < 1:
        raise ValueError(f"low and high must satisfy 0 <= low <= high < 1, got {low} and {high}")

    def momentum(t: int) -> float:
        if t >= n_steps:
            return high
        if t >= n_up:
            return float(cosine_between(low, high, (t - n_up) / (n_steps - n_up)))
        return float(cosine_between(high, low, t / n_up))

    return _each(momentum, step)


def cycle(
    step: Steps, *, first: int, growth: int = 1
) -> tuple[Int[np.ndarray, "*shape"] | int, Int[np.ndarray, "*shape"] | int]:
    check_count(first, "first")
    check_count(growth, "growth")

    def of(t: int) -> tuple[int, int]:
        length = first
        if growth == 1:
            return t % length, length
        while t >= length:
            t, length = t - length, length * growth
        return t, length

    places, lengths = (_each(lambda t, i=i: of(t)[i], step) for i in range(2))
    return (places.astype(int), lengths.astype(int)) if places.size == 0 else (places, lengths)


def warm_restarts(step: Steps, rate: float, *, first: int, growth: int = 1, end: float = 0.0) -> Rates:
    check_rate(rate, "rate")
    check_end(end, rate)
    place, length = cycle(step, first=first, growth=growth)
    return end + (rate - end) * np.cos(np.pi / 2 * place / length) ** 2


def reduce_on_plateau(
    state: Plateau,
    loss: float,
    *,
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    cooldown: int = 0,
    smallest: float = 0.0,
) -> Plateau:
    _check_plateau(factor, patience, threshold, cooldown, smallest)
    if not math.isfinite(loss):
        better = False
    elif math.isinf(state.best):
        better = True
    else:
        better = state.best - loss > threshold * abs(state.best)
    if better:
        return replace(state, best=loss, n_bad=0, cooldown=max(state.cooldown - 1, 0))
    if state.cooldown:
        return replace(state, n_bad=0, cooldown=state.cooldown - 1)
    if state.n_bad < patience:
        return replace(state, n_bad=state.n_bad + 1)
    lower = state.rate if state.rate < smallest else max(smallest, factor * state.rate)
    return Plateau(lower, state.best, 0, cooldown)


def _each(function: Callable[[int], float], step: Steps) -> Rates:
    steps = whole_steps(step)
    values = np.array([function(int(t)) for t in steps.ravel()]).reshape(steps.shape)
    return values if values.ndim else values[()]


def _check_cyclical(low: float, high: float, n_up: int, n_down: int, mode: str, factor: float) -> None:
    check_rate(high, "high")
    if not 0 <= low <= high:
        raise ValueError(f"low must lie between 0 and high, {high}, got {low}")
    check_count(n_up, "n_up")
    check_count(n_down, "n_down")
    if mode not in ("triangular", "triangular2", "exp_range"):
        raise ValueError(f"mode must be 'triangular', 'triangular2' or 'exp_range', got {mode!r}")
    check_share(factor, "factor")


def _check_one_cycle(n_up: int, n_steps: int) -> None:
    check_count(n_up, "n_up")
    check_count(n_steps, "n_steps", least=n_up + 1)


def _check_plateau(factor: float, patience: int, threshold: float, cooldown: int, smallest: float) -> None:
    check_share(factor, "factor")
    check_count(patience, "patience", least=0)
    check_count(cooldown, "cooldown", least=0)
    for value, name in ((threshold, "threshold"), (smallest, "smallest")):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} must be at least 0 and finite, got {value}")
