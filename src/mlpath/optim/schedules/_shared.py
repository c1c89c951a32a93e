"""What the schedules share: the types of steps and rates, and the checks of arguments."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

Steps = Int[np.ndarray, "*shape"] | int
Rates = Float[np.ndarray, "*shape"] | float
Schedule = Callable[[Steps], Rates]


def whole_steps(step: Steps) -> Int[np.ndarray, "*shape"]:
    """Return steps as an array of whole numbers, or raise a ValueError that says what is wrong with them."""
    steps = np.asarray(step)
    if steps.dtype.kind not in "iu":
        raise ValueError(f"step must be a whole number, or an array of them, got {step!r}")
    if (steps < 0).any():
        raise ValueError(f"step must not be negative, got {step!r}")
    return steps.astype(np.int64)


def check_rate(value: float, name: str) -> None:
    """Raise a ValueError unless it is positive and finite."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")


def check_share(value: float, name: str) -> None:
    """Raise a ValueError unless it is above 0 and at most 1."""
    if not 0 < value <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, got {value}")


def check_count(value: int, name: str, least: int = 1) -> None:
    """Raise a ValueError unless it is a whole number, and large enough."""
    if not least <= value < np.inf or value != int(value):
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value}")


def check_end(end: float, rate: float) -> None:
    """Raise a ValueError unless the last rate is between 0 and the first."""
    if not 0 <= end <= rate:
        raise ValueError(f"end must lie between 0 and rate, {rate}, got {end}")
