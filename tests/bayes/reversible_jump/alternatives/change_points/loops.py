"""Chains in loops, the merged state's birth for a death, places by going backwards through the cuts."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import gammaln, logsumexp

from mlpath.bayes.reversible_jump.polynomial_order import move_probabilities


@dataclass(frozen=True)
class Model:  # given
    """What is known: the counts and the priors.

    Examples
    --------
    >>> Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.zeros(2)).shape
    1.0
    """

    counts: Int[np.ndarray, " n_years"]
    """y_t of each year."""
    shape: float
    """a of the gamma prior of each rate."""
    rate: float
    """b of it."""
    log_prior: Float[np.ndarray, " n_numbers"]
    """log p(k) for each k from 0 to K, up to a constant."""

    def __post_init__(self) -> None:
        if self.counts.ndim != 1 or len(self.counts) < 2 or self.counts.min() < 0:
            raise ValueError(f"counts must be two or more numbers, none of them negative, got {self.counts}")
        for name, value in (("shape", self.shape), ("rate", self.rate)):
            if not 0 < value < np.inf:
                raise ValueError(f"{name} must be positive and finite, got {value}")
        if self.log_prior.ndim != 1 or not 1 <= len(self.log_prior) <= len(self.counts):
            raise ValueError(f"log_prior must have 1 to {len(self.counts)} entries, got shape {self.log_prior.shape}")
        if not np.isfinite(self.log_prior).all() or np.ptp(self.log_prior) > 700:
            raise ValueError(f"log_prior must be finite numbers that differ by 700 at most, got {self.log_prior}")


@dataclass(frozen=True)
class State:
    """Where the chains are."""

    change: Bool[np.ndarray, "n_chains n_places"]
    """Whether there is a change after c years, in column c - 1."""
    rate: Float[np.ndarray, "n_chains n_years"]
    """r_t, the rate of each year, the same in all years of a segment."""


@dataclass(frozen=True)
class Jump:
    """Where the chains might go, and what that depends on."""

    state: State
    log_ratio: Float[np.ndarray, " n_chains"]
    """log A of going there from here: positive where it is sure to be accepted, there is no minimum with 0."""


@dataclass(frozen=True)
class Changes:
    """What `sample` returns."""

    change: Bool[np.ndarray, "n_chains n_draws n_places"]
    """Whether there is a change at each place, after each step."""
    rate: Float[np.ndarray, "n_chains n_draws n_years"]
    """The rate of each year."""
    acceptance_rate: Float[np.ndarray, " n_chains"]
    """The share of the steps of each chain in which a birth or a death was accepted."""


def _check_share(share: float) -> None:  # given: argument checks
    if not 0 < share <= 0.5:
        raise ValueError(f"share must be above 0 and at most 0.5, got {share}")


def _check_weight(weight: np.ndarray) -> None:  # given: argument checks
    if not ((weight > 0) & (weight < 1)).all():
        raise ValueError(f"weight must be above 0 and below 1, got {weight}")


def _check_change(change: np.ndarray, model: Model) -> None:  # given: argument checks
    if change.ndim != 2 or change.dtype != bool or change.shape[1] != len(model.counts) - 1:
        raise ValueError(f"change must be true or false at {len(model.counts) - 1} places, got shape {change.shape}")
    if not (change.sum(axis=1) < len(model.log_prior)).all():
        raise ValueError(f"change must be at most {len(model.log_prior) - 1} in a row, got {change.sum(axis=1)}")


def _check_place(place: np.ndarray, eligible: np.ndarray) -> None:  # given: argument checks
    if place.ndim != 1 or not ((place >= 1) & (place <= eligible.shape[1])).all():
        raise ValueError(f"place must be a vector of numbers from 1 to {eligible.shape[1]}, got {place}")
    if not eligible[np.arange(len(place)), place - 1].all():
        raise ValueError(f"place must be free for a birth, and a change otherwise, got {place}")


def neighbours(  # given
    change: Bool[np.ndarray, "n_chains n_places"], place: Int[np.ndarray, " n_chains"]
) -> tuple[Int[np.ndarray, " n_chains"], Int[np.ndarray, " n_chains"]]:
    n, places = change.shape[1] + 1, np.arange(1, change.shape[1] + 1)
    begin = np.where(change & (places < place[:, None]), places, 0).max(axis=1)
    return begin, np.where(change & (places > place[:, None]), places, n).min(axis=1)


def paint(  # given
    rate: Float[np.ndarray, "n_chains n_years"],
    begin: Int[np.ndarray, " n_chains"],
    end: Int[np.ndarray, " n_chains"],
    value: Float[np.ndarray, " n_chains"],
) -> Float[np.ndarray, "n_chains n_years"]:
    years = np.arange(rate.shape[1])
    return np.where((years >= begin[:, None]) & (years < end[:, None]), value[:, None], rate)


def pick(  # given
    eligible: Bool[np.ndarray, "n_chains n_places"], *, rng: np.random.Generator
) -> Int[np.ndarray, " n_chains"]:
    return 1 + np.where(eligible, rng.random(eligible.shape), -1.0).argmax(axis=1)


def accept(  # given
    state: State, chains: Int[np.ndarray, " n_jumps"], jump: Jump, *, rng: np.random.Generator
) -> tuple[State, Int[np.ndarray, " n_accepted"]]:
    taken = -rng.standard_exponential(len(chains)) <= jump.log_ratio
    change, rate = state.change.copy(), state.rate.copy()
    change[chains[taken]], rate[chains[taken]] = jump.state.change[taken], jump.state.rate[taken]
    return State(change, rate), chains[taken]


def _take(state: State, chains: Int[np.ndarray, " n_some"]) -> State:  # given
    return State(state.change[chains], state.rate[chains])


def redraw_rates(  # given
    model: Model, change: Bool[np.ndarray, "n_chains n_places"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n_chains n_years"]:
    n_chains, n = len(change), len(model.counts)
    segment = np.zeros((n_chains, n), dtype=int)
    segment[:, 1:] = change.cumsum(axis=1)
    one = segment[:, :, None] == np.arange(len(model.log_prior))
    drawn = rng.gamma(model.shape + model.counts @ one, 1 / (model.rate + one.sum(axis=1)))
    return np.maximum(np.take_along_axis(drawn, segment, axis=1), np.finfo(float).tiny)


def log_segments(model: Model) -> Float[np.ndarray, "n_plus_1 n_plus_1"]:  # given
    total = np.concatenate([[0], np.cumsum(model.counts)])
    factorials = np.concatenate([[0.0], np.cumsum(gammaln(model.counts + 1.0))])
    years = np.arange(len(total))
    a = model.shape + np.maximum(total - total[:, None], 0)
    b = model.rate + np.maximum(years - years[:, None], 0)
    evidence = model.shape * np.log(model.rate) - gammaln(model.shape) + gammaln(a) - a * np.log(b)
    return np.where(years > years[:, None], evidence - (factorials - factorials[:, None]), -np.inf)


def log_choose(n: int, k: Int[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:  # given
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def split(
    rate: Float[np.ndarray, " n_chains"], weight: Float[np.ndarray, " n_chains"], u: Float[np.ndarray, " n_chains"]
) -> tuple[Float[np.ndarray, " n_chains"], Float[np.ndarray, " n_chains"], Float[np.ndarray, " n_chains"]]:
    # given: the checks
    _check_weight(weight)
    if not ((u > 0) & (u < 1)).all():
        raise ValueError(f"u must be above 0 and below 1, got {u}")
    if not ((rate > 0) & (rate < np.inf)).all():
        raise ValueError(f"rate must be positive and finite, got {rate}")

    ratio = (1 - u) / u
    left = rate / ratio ** (1 - weight)
    right = left * ratio
    volume = left * right / rate / (u * (1 - u))
    return left, right, np.log(volume)


def merge(
    left: Float[np.ndarray, " n_chains"], right: Float[np.ndarray, " n_chains"], weight: Float[np.ndarray, " n_chains"]
) -> tuple[Float[np.ndarray, " n_chains"], Float[np.ndarray, " n_chains"]]:
    # given: the check
    _check_weight(weight)

    return left**weight * right ** (1 - weight), 1 / (1 + right / left)


def log_posterior(model: Model, state: State) -> Float[np.ndarray, " n_chains"]:
    # given: the check
    _check_change(state.change, model)

    found = []
    n = len(model.counts)
    for change, rate in zip(state.change, state.rate, strict=True):
        edges = [0, *(np.flatnonzero(change) + 1).tolist(), n]
        k = len(edges) - 2
        total = model.log_prior[k] - math.log(math.comb(n - 1, k))
        for s, t in itertools.pairwise(edges):
            h, accidents = rate[s], int(model.counts[s:t].sum())
            total += model.shape * math.log(model.rate) - math.lgamma(model.shape)
            total += (model.shape - 1 + accidents) * math.log(h) - (model.rate + t - s) * h
            total -= sum(math.lgamma(y + 1) for y in model.counts[s:t])
        found.append(total)
    return np.array(found)


def birth(
    model: Model,
    state: State,
    place: Int[np.ndarray, " n_chains"],
    u: Float[np.ndarray, " n_chains"],
    *,
    share: float = 0.5,
) -> Jump:
    # given: the checks
    _check_share(share)
    _check_change(state.change, model)
    _check_place(place, ~state.change)
    if not (state.change.sum(axis=1) < len(model.log_prior) - 1).all():
        raise ValueError(
            f"state must have less than {len(model.log_prior) - 1} changes, got {state.change.sum(axis=1)}"
        )

    change, rate, found = state.change.copy(), state.rate.copy(), np.zeros(len(place))
    n_places = change.shape[1]
    up, down = move_probabilities(model.log_prior, share=share)
    for i, c in enumerate(place):
        begin, end = c - 1, c + 1
        while begin > 0 and not state.change[i, begin - 1]:
            begin -= 1
        while end < n_places + 1 and not state.change[i, end - 1]:
            end += 1
        one = np.array([(c - begin) / (end - begin)])
        left, right, log_jacobian = split(rate[i, c - 1 : c], one, u[i : i + 1])
        rate[i, begin:c], rate[i, c:end] = left[0], right[0]
        change[i, c - 1] = True
        k = int(state.change[i].sum())
        found[i] = log_jacobian[0] + math.log(down[k + 1] * (n_places - k) / (k + 1) / up[k])
    new = State(change, rate)
    return Jump(new, found + log_posterior(model, new) - log_posterior(model, state))


def death(model: Model, state: State, place: Int[np.ndarray, " n_chains"], *, share: float = 0.5) -> Jump:
    # given: the checks
    _check_share(share)
    _check_change(state.change, model)
    _check_place(place, state.change)

    change, rate = state.change.copy(), state.rate.copy()
    found = np.zeros(len(place))
    begin, end = neighbours(change, place)
    for i, c in enumerate(place):
        weight = np.array([(c - begin[i]) / (end[i] - begin[i])])
        merged, u = merge(rate[i, c - 1 : c], rate[i, c : c + 1], weight)
        change[i, c - 1] = False
        rate[i, begin[i] : end[i]] = merged[0]
        lower = State(change[i : i + 1], rate[i : i + 1])
        found[i] = -birth(model, lower, place[i : i + 1], u, share=share).log_ratio[0]
    return Jump(State(change, rate), found)


def shift(model: Model, state: State, place: Int[np.ndarray, " n_chains"], to: Int[np.ndarray, " n_chains"]) -> Jump:
    # given: the checks
    _check_change(state.change, model)
    _check_place(place, state.change)
    begin, end = neighbours(state.change, place)
    if to.shape != place.shape or not ((to > begin) & (to < end)).all():
        raise ValueError(f"to must be between the neighbours, got {to} between {begin} and {end}")

    change, rate = state.change.copy(), state.rate.copy()
    for i, (c, new) in enumerate(zip(place, to, strict=True)):
        change[i, [c - 1, new - 1]] = False, False
        change[i, new - 1] = True
        if new > c:
            rate[i, c:new] = state.rate[i, c - 1]
        else:
            rate[i, new:c] = state.rate[i, c]
    gain = (model.counts * (np.log(rate) - np.log(state.rate)) - rate + state.rate).sum(axis=1)
    return Jump(State(change, rate), gain)


def exact_posterior(model: Model) -> tuple[Float[np.ndarray, " n_numbers"], Float[np.ndarray, " n_places"]]:

    n, n_numbers = len(model.counts), len(model.log_prior)
    segments = log_segments(model)
    forward = np.full((n_numbers, n + 1), -np.inf)
    forward[0] = segments[0]
    for j in range(1, n_numbers):
        for t in range(j + 1, n + 1):
            forward[j, t] = logsumexp(forward[j - 1, 1:t] + segments[1:t, t])
    log_number = model.log_prior - log_choose(n - 1, np.arange(n_numbers)) + forward[:, n]
    number = np.exp(log_number - logsumexp(log_number))
    # Backwards: the law of the last cut given that j of them lie before t, over and over.
    place, ends = np.zeros(n + 1), np.zeros((n_numbers, n + 1))
    ends[:, n] = number
    for j in range(n_numbers - 1, 0, -1):
        for t in range(j + 1, n + 1):
            if ends[j, t] > 0:
                cut = np.exp(forward[j - 1, 1:t] + segments[1:t, t] - forward[j, t])
                ends[j - 1, 1:t] += ends[j, t] * cut
                place[1:t] += ends[j, t] * cut
    return number, place[1:n]


def step(
    model: Model, state: State, *, share: float = 0.5, rng: np.random.Generator
) -> tuple[State, Bool[np.ndarray, " n_chains"]]:
    # given: the check
    _check_share(share)

    up, down = move_probabilities(model.log_prior, share=share)
    number = state.change.sum(axis=1)
    kind = rng.random(len(number))
    before, taken = state, np.zeros(len(number), dtype=bool)
    for chains, rising in ((np.flatnonzero(kind > 1 - up[number]), True), (np.flatnonzero(kind < down[number]), False)):
        part = _take(before, chains)
        if rising:
            jump = birth(model, part, pick(~part.change, rng=rng), 1 - rng.random(len(chains)), share=share)
        else:
            jump = death(model, part, pick(part.change, rng=rng), share=share)
        state, accepted = accept(state, chains, jump, rng=rng)
        taken[accepted] = True
    movers = np.flatnonzero(state.change.sum(axis=1))
    part = _take(state, movers)
    place = pick(part.change, rng=rng)
    begin, end = neighbours(part.change, place)
    to = begin + 1 + np.floor(rng.random(len(movers)) * (end - begin - 1)).astype(int)
    state, _ = accept(state, movers, shift(model, part, place, to), rng=rng)
    return State(state.change, redraw_rates(model, state.change, rng=rng)), taken


def sample(  # given
    model: Model,
    change: Bool[np.ndarray, "n_chains n_places"],
    n_draws: int,
    *,
    share: float = 0.5,
    rng: np.random.Generator,
) -> Changes:
    _check_change(change, model)
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    state, n_accepted, record = State(change, redraw_rates(model, change, rng=rng)), np.zeros(len(change)), []
    for _ in range(n_draws):
        state, accepted = step(model, state, share=share, rng=rng)
        n_accepted += accepted
        record.append(state)
    changes, rates = np.stack([s.change for s in record], axis=1), np.stack([s.rate for s in record], axis=1)
    return Changes(changes, rates, n_accepted / n_draws)
