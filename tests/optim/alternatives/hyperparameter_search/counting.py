"""The grid by counting, the expected best by chances of ranks, the halving as a recursion, brackets by loops."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


def _refuse(condition, message):
    if condition:
        raise ValueError(message)


@dataclass(frozen=True)
class Choice:
    values: tuple[Any, ...]

    def __post_init__(self):
        _refuse(len(self.values) == 0, "values are none")

    def at(self, share):
        return self.values[-1] if share == 1 else self.values[math.floor(share * len(self.values))]


@dataclass(frozen=True)
class Uniform:
    low: float
    high: float

    def __post_init__(self):
        ok = math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high
        _refuse(not ok, f"low {self.low}, high {self.high}")

    def at(self, share):
        return (1 - share) * self.low + share * self.high


@dataclass(frozen=True)
class LogUniform(Uniform):
    def __post_init__(self):
        super().__post_init__()
        _refuse(self.low <= 0, f"low {self.low}")

    def at(self, share):
        return math.exp((1 - share) * math.log(self.low) + share * math.log(self.high))


@dataclass(frozen=True)
class Integers:
    low: int
    high: int

    def __post_init__(self):
        _refuse(self.low > self.high, f"low {self.low}, high {self.high}")

    def at(self, share):
        return min(self.high, self.low + math.floor(share * (self.high - self.low + 1)))


@dataclass(frozen=True)
class Trial:
    configuration: dict
    resource: float
    loss: float


@dataclass(frozen=True)
class SearchResult:
    configuration: dict
    fun: float
    nfev: int
    resource: float
    trials: tuple


def value_at(among, share):
    _refuse(not (share >= 0 and share <= 1), f"share {share}")
    return among.at(share)


def sample(space, n, *, rng):
    _refuse(not space, "space is empty")
    _refuse(n < 1, f"n must be at least 1, got {n}")
    columns = {name: [value_at(among, u) for u in rng.random(n)] for name, among in space.items()}
    return [{name: column[i] for name, column in columns.items()} for i in range(n)]


def grid(space, sizes):
    _refuse(not space, "space is empty")
    settings = [{}]
    for name, among in space.items():
        if isinstance(among, Choice):
            values = among.values
        else:
            _refuse(sizes.get(name, 0) < 1, f"sizes of {name}")
            k = sizes[name]
            values = []
            for i in range(k):
                value = among.at(i / (k - 1) if k > 1 else 0.5)
                if value not in values:
                    values.append(value)
        settings = [{**setting, name: value} for setting in settings for value in values]
    return settings


def hit_probability(share, n):
    _refuse(not (share >= 0 and share <= 1), f"share {share}")
    _refuse(n < 1, f"n must be at least 1, got {n}")
    missed, hit = 1.0, 0.0
    for _ in range(n):
        hit += missed * share
        missed *= 1 - share
    return hit


def expected_best(losses, n):
    _refuse(losses.ndim != 1 or not np.all(np.isfinite(losses)), "losses")
    _refuse(n < 1 or n > len(losses), f"n must be in range, got {n}")
    total, missed, mean = len(losses), 1.0, 0.0
    for i, x in enumerate(sorted(losses.tolist())):
        taken = min(1.0, n / (total - i))  # that this one is among the n, if none of the smaller is
        mean += missed * taken * x
        missed *= 1 - taken
    return mean


def promote(losses, n_kept):
    _refuse(losses.ndim != 1 or n_kept < 1 or n_kept > losses.size, f"n_kept {n_kept}")
    order = sorted(range(len(losses)), key=lambda i: (math.isnan(losses[i]), 0 if math.isnan(losses[i]) else losses[i]))
    return np.array(order[:n_kept])


def _summary(trials):
    most = max(t.resource for t in trials)
    last = [t for t in trials if t.resource > most * (1 - 1e-9)]
    winner = last[int(promote(np.array([t.loss for t in last]), 1)[0])]
    return SearchResult(winner.configuration, winner.loss, len(trials), sum(t.resource for t in trials), tuple(trials))


def _climb(evaluate, settings, resource, eta, counts):
    if not counts:
        return []
    settings = settings[: counts[0]]
    trials = [Trial(setting, resource, float(evaluate(setting, resource))) for setting in settings]
    order = promote(np.array([t.loss for t in trials]), len(trials))
    return trials + _climb(evaluate, [settings[i] for i in order], resource * eta, eta, counts[1:])


def successive_halving(evaluate, configurations, *, resource, eta=3, n_rungs):
    _refuse(len(configurations) == 0, "configurations are none")
    _refuse(not (resource > 0 and math.isfinite(resource)), f"resource {resource}")
    _refuse(not (eta > 1 and math.isfinite(eta)), f"eta {eta}")
    _refuse(n_rungs < 1, f"n_rungs {n_rungs}")
    counts = [max(1, math.floor(len(configurations) / eta**k)) for k in range(n_rungs)]
    return _summary(_climb(evaluate, list(configurations), resource, eta, counts))


def brackets(max_resource, eta=3):
    _refuse(not (max_resource >= 1 and math.isfinite(max_resource)), f"max_resource {max_resource}")
    _refuse(eta < 2, f"eta {eta}")
    powers = [1]
    while powers[-1] * eta <= max_resource and len(powers) < 2000:
        powers.append(powers[-1] * eta)
    found = []
    for power in reversed(powers):
        n, resource, rungs = len(powers) // (powers.index(power) + 1) * power, max_resource / power, []
        for _ in range(powers.index(power) + 1):
            rungs.append((n, resource))
            n, resource = n // eta, resource * eta
        found.append(rungs)
    return found


def hyperband(evaluate, space, max_resource, *, eta=3, rng):
    _refuse(not space, "space is empty")
    trials = []
    for rungs in brackets(max_resource, eta):
        settings = sample(space, rungs[0][0], rng=rng)
        trials += _climb(evaluate, settings, rungs[0][1], eta, [n for n, _ in rungs])
    return _summary(trials)
