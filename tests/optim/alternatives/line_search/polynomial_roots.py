"""The cubic by both roots of its slope, shares of the first slope, a zoom that calls itself."""

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np
from jaxtyping import Float

from mlpath.optim._shared import Gradient, Objective, checked_gradient

FOUND = "found: the step satisfies what was asked for"
NOT_FOUND = "stopped: max_trials trials did not find such a step"


@dataclass(frozen=True)
class Trial:
    step_size: float
    value: float
    slope: float
    gradient: Float[np.ndarray, " dim"]


@dataclass(frozen=True)
class SearchResult:
    step_size: float
    value: float
    gradient: Float[np.ndarray, " dim"]
    nfev: int
    ngev: int
    success: bool
    message: str


class Ray:
    def __init__(
        self,
        fun: Objective,
        grad: Gradient,
        x: Float[np.ndarray, " dim"],
        direction: Float[np.ndarray, " dim"],
        *,
        value: float | None = None,
        gradient: Float[np.ndarray, " dim"] | None = None,
    ):
        self.x, self.direction = (_vector(v, name) for v, name in ((x, "x"), (direction, "direction")))
        if self.x.shape != self.direction.shape:
            raise ValueError(f"direction must have the shape of x, {self.x.shape}, got {self.direction.shape}")
        self.fun, self.grad, self.nfev, self.ngev = fun, checked_gradient(grad), 0, 0
        value = self.value(0.0) if value is None else float(value)
        gradient = self.gradient(0.0) if gradient is None else gradient
        if not isfinite(value):
            raise ValueError(f"fun must be finite at x, got {value}")
        self.start = Trial(0.0, value, float(gradient @ self.direction), gradient)
        if not -inf < self.start.slope < 0:
            raise ValueError(f"direction must lead downhill, got the slope {self.start.slope} along it")

    def value(self, step_size: float) -> float:
        self.nfev += 1
        return float(self.fun(self.x + step_size * self.direction))

    def gradient(self, step_size: float) -> Float[np.ndarray, " dim"]:
        self.ngev += 1
        return self.grad(self.x + step_size * self.direction)

    def at(self, step_size: float) -> Trial:
        value = self.value(step_size)
        gradient = self.gradient(step_size) if isfinite(value) else np.full_like(self.x, nan)
        return Trial(step_size, value, float(gradient @ self.direction), gradient)

    def result(self, trial: Trial, success: bool) -> SearchResult:
        message = FOUND if success else NOT_FOUND
        return SearchResult(trial.step_size, trial.value, trial.gradient, self.nfev, self.ngev, success, message)


def sufficient_decrease(start: Trial, step_size: float, value: float, *, decrease: float) -> bool:
    if not np.isfinite(value):
        return False
    return not value > start.value + decrease * step_size * start.slope


def enough_curvature(start: Trial, trial: Trial, *, curvature: float, strong: bool = True) -> bool:
    share = trial.slope / start.slope  # of the first slope; negative if it has turned
    return bool(-curvature <= share <= curvature if strong else share <= curvature)


def cubic_minimizer(first: Trial, second: Trial) -> float:
    width = second.step_size - first.step_size
    ends = np.array([first.slope, second.slope]) * width
    middle = 3 * (second.value - first.value) - ends.sum()
    scale = max(abs(middle), *abs(ends))
    if not (np.isfinite(scale) and scale):
        return nan
    (s0, s1), m = ends / scale, middle / scale
    level = np.polynomial.Polynomial([s0, -2 * (s0 - m), s0 - 2 * m + s1])
    if m * m < s0 * s1:
        return nan
    far = (s0 - m) + np.copysign(sqrt(m * m - s0 * s1), s0 - m)  # the two roots are this over the first, and s0 over it
    roots = [s0 / far] if far else []
    if level.coef[2]:
        roots.append(far / level.coef[2])
    rising = [t for t in roots if level.deriv()(t) > 0]
    return float(first.step_size + rising[0] * width) if rising else nan


def interpolate(low: Trial, high: Trial) -> float:
    least, greatest = sorted((low.step_size, high.step_size))
    edge = (greatest - least) / 10
    step_size = cubic_minimizer(low, high)
    return step_size if least + edge <= step_size <= greatest - edge else least + (greatest - least) / 2


def armijo_search(ray: Ray, *, step_size: float = 1.0, decrease: float = 1e-4, max_trials: int = 60) -> SearchResult:
    _check(step_size, max_trials, decrease)
    start = ray.start
    while max_trials > 0:
        value, max_trials = ray.value(step_size), max_trials - 1
        if sufficient_decrease(start, step_size, value, decrease=decrease):
            gradient = ray.gradient(step_size)
            return ray.result(Trial(step_size, value, float(gradient @ ray.direction), gradient), True)
        share = 0.5
        if np.isfinite(value):
            mean = (value - start.value) / step_size  # the slope of the chord
            share = float(np.clip(0.5 / (1 - mean / start.slope), 0.1, 0.5))
        step_size *= share
    return ray.result(start, False)


def wolfe_search(
    ray: Ray, *, step_size: float = 1.0, decrease: float = 1e-4, curvature: float = 0.9, max_trials: int = 60
) -> SearchResult:
    _check(step_size, max_trials, decrease, curvature)
    short, long = [ray.start], []
    for _ in range(max_trials):
        trial = ray.at(step_size)
        if not sufficient_decrease(ray.start, step_size, trial.value, decrease=decrease):
            long.append(step_size)
        elif enough_curvature(ray.start, trial, curvature=curvature, strong=False):
            return ray.result(trial, True)
        else:
            short.append(trial)
        step_size = (short[-1].step_size + long[-1]) / 2 if long else step_size * 2
    return ray.result(short[-1], False)


def zoom(
    ray: Ray, low: Trial, high: Trial, *, decrease: float = 1e-4, curvature: float = 0.9, max_trials: int = 30
) -> tuple[Trial, bool]:
    if max_trials == 0:
        return low, False
    options = {"decrease": decrease, "curvature": curvature, "max_trials": max_trials - 1}
    trial = ray.at(interpolate(low, high))
    if trial.value < low.value and sufficient_decrease(ray.start, trial.step_size, trial.value, decrease=decrease):
        if enough_curvature(ray.start, trial, curvature=curvature):
            return trial, True
        towards = (high.step_size - trial.step_size) * trial.slope < 0
        return zoom(ray, trial, high if towards else low, **options)
    return zoom(ray, low, trial, **options)


def strong_wolfe_search(
    ray: Ray, *, step_size: float = 1.0, decrease: float = 1e-4, curvature: float = 0.9, max_trials: int = 30
) -> SearchResult:
    _check(step_size, max_trials, decrease, curvature)
    options = {"decrease": decrease, "curvature": curvature, "max_trials": max_trials}
    low = ray.start
    for nit in range(max_trials):
        high = ray.at(step_size * 2**nit)
        lower = sufficient_decrease(ray.start, high.step_size, high.value, decrease=decrease)
        lower = lower and (nit == 0 or high.value < low.value)
        if lower and enough_curvature(ray.start, high, curvature=curvature):
            return ray.result(high, True)
        if not lower or high.slope >= 0:
            ends = (high, low) if lower else (low, high)
            return ray.result(*zoom(ray, *ends, **options))
        low = high
    return ray.result(low, False)


def _vector(values: Float[np.ndarray, " dim"], name: str) -> Float[np.ndarray, " dim"]:
    vector = np.asarray(values)
    if vector.ndim != 1 or vector.size == 0 or vector.dtype.kind not in "fiu" or not np.isfinite(vector).all():
        raise ValueError(f"{name} must be a vector of finite numbers, got {values!r}")
    return vector if vector.dtype.kind == "f" else vector.astype(np.float64)


def _check(step_size: float, max_trials: int, decrease: float, curvature: float | None = None) -> None:
    if not 0 < step_size < inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not max_trials >= 1:
        raise ValueError(f"max_trials must be at least 1, got {max_trials}")
    if curvature is not None and not 0 < curvature < 1:
        raise ValueError(f"curvature must lie between 0 and 1, got {curvature}")
    above = 1 if curvature is None else curvature
    if not 0 < decrease < above:
        raise ValueError(f"decrease must lie between 0 and {above}, got {decrease}")
