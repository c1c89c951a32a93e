"""Exponentials by logarithms, the cosine squared, weighted means of the two rates, and a warm-up step by step."""

import numpy as np

from mlpath.optim.schedules._shared import (
    Rates,
    Schedule,
    Steps,
    check_count,
    check_end,
    check_rate,
    check_share,
    whole_steps,
)


def step_decay(step: Steps, rate: float, *, factor: float, every: int) -> Rates:

    step = whole_steps(step)
    check_rate(rate, "rate")
    check_share(factor, "factor")
    check_count(every, "every")
    return np.power(factor, np.floor_divide(step, every)) * rate


def exponential_decay(step: Steps, rate: float, *, factor: float) -> Rates:

    step = whole_steps(step)
    check_rate(rate, "rate")
    check_share(factor, "factor")
    return np.exp(step * np.log(factor)) * rate


def polynomial_decay(step: Steps, rate: float, *, n_steps: int, power: float = 1.0, end: float = 0.0) -> Rates:

    step = whole_steps(step)
    check_rate(rate, "rate")
    check_count(n_steps, "n_steps")
    check_rate(power, "power")
    check_end(end, rate)
    left = np.clip((n_steps - step) / n_steps, 0, 1) ** power
    return rate * left + end * (1 - left)


def cosine_decay(step: Steps, rate: float, *, n_steps: int, end: float = 0.0) -> Rates:

    step = whole_steps(step)
    check_rate(rate, "rate")
    check_count(n_steps, "n_steps")
    check_end(end, rate)
    share = np.cos(np.pi / 2 * np.clip(step / n_steps, 0, 1)) ** 2
    return rate * share + end * (1 - share)


def warm_up(schedule: Schedule, *, n_steps: int, start: float = 0.0) -> Schedule:

    check_count(n_steps, "n_steps")
    if not 0 <= start <= 1:
        raise ValueError(f"start must lie between 0 and 1, got {start}")

    def one(t: int) -> float:
        if t >= n_steps:
            return float(schedule(t - n_steps))
        share = t / n_steps
        return float(schedule(0)) * (start * (1 - share) + share)

    def warmed(step: Steps) -> Rates:
        step = whole_steps(step)
        rates = np.array([one(int(t)) for t in step.ravel()]).reshape(step.shape)
        return rates if rates.ndim else float(rates)

    return warmed


def inverse_square_root(step: Steps, rate: float, *, n_warm_up: int) -> Rates:

    step = whole_steps(step)
    check_rate(rate, "rate")
    check_count(n_warm_up, "n_warm_up")
    reached = (step + 1) / n_warm_up
    return rate * np.where(reached < 1, reached, reached**-0.5)[()]
