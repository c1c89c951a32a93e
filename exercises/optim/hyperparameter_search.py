r"""Hyperparameter search: grid, random, successive halving and Hyperband over a search space.

## Idea

Step sizes, penalties and widths have no gradient: to judge a setting one has to train with it. So the question is which
settings to try, and for how long. A *grid* tries all combinations of a few values; *random search* tries as many
settings, and with each a new value of every hyperparameter, of which mostly one or two matter. *Successive halving*
begins with many settings and little training, and again and again spends more on the better part. *Hyperband* hedges
that bet: it runs halvings that begin with many short trainings beside some that begin with a few long ones.

## Maths

**A space** has for each hyperparameter a range, and a range turns a share $u \in [0, 1]$ into a value, so that a
uniform $u$ makes every value (on the logarithmic axis, for `LogUniform`) equally likely:

$$\text{low} + u\, (\text{high} - \text{low}) , \qquad \text{low} \left( \frac{\text{high}}{\text{low}} \right)^u , \qquad
v_{\lfloor u m \rfloor} , \tag{1}$$

for `Uniform`, for `LogUniform`, and for $m$ values $v_0, \dots, v_{m-1}$: those of a `Choice` as given, those of `Integers`
from low to high, both included. ($u = 1$ gives the last one.)

**A grid** of $k_j$ values in hyperparameter $j$ has

$$N = \prod_j k_j \tag{2}$$

settings, and $k_j$ different values of each. If only one hyperparameter matters, $N$ trainings have tried $k_j$ values
of it, and random search has tried $N$ [1].

**How many tries?** Let a share $p$ of the space be good enough. Among $n$ independent draws is at least one of these with
probability

$$1 - (1 - p)^n . \tag{3}$$

Sixty tries find the best 5 % with probability 0.95, in any number of dimensions. A grid knows no such promise.

**What is a search worth?** A table says 'best of 50 tries'; what would 5 have given? Take any $n$ of the $N$ losses
found, all subsets equally likely. With $x_{(1)} \le \dots \le x_{(N)}$, the least of the $n$ is $x_{(i)}$ if that is
among them and the others are behind it, hence

$$\mathbb{E} \min = \sum_{i=1}^{N - n + 1} x_{(i)} \binom{N - i}{n - 1} \Big/ \binom{N}{n} . \tag{4}$$

It is an unbiased estimate of the expected best of $n$ random tries.

**Successive halving** [2] evaluates $n$ settings with a *resource* $r$ (epochs, samples, trees), keeps the best of them,
gives these $\eta$ times as much, and so on. On rung $k = 0, 1, \dots$ are

$$n_k = \max(1, \lfloor n\, \eta^{-k} \rfloor) \text{ settings with the resource } r_k = r\, \eta^k . \tag{5}$$

Every rung costs about $n r$. It goes wrong where the loss at little resource misleads: large step sizes, small networks
and weak penalties are ahead in the first epochs.

**Hyperband** [3] does not know whether it does, and shares its budget among halvings from $n$ large with $r$ small to $n$
small with $r$ large. With the largest resource $R$ for one training, let

$$s_{\max} = \lfloor \log_\eta R \rfloor . \tag{6}$$

The brackets are $s = s_{\max}, \dots, 0$; bracket $s$ is a halving with $s + 1$ rungs, that begins with

$$n = \left\lfloor \frac{s_{\max} + 1}{s + 1} \right\rfloor \eta^s \quad \text{and} \quad r = R\, \eta^{-s} , \tag{7}$$

so that each ends with the full $R$ and costs at most $(s_{\max} + 1) R$. The last, $s = 0$, is random search. (The paper's
algorithm rounds up the product as a whole, $\lceil (s_{\max} + 1)\, \eta^s / (s + 1) \rceil$; its table for $R = 81$ and
$\eta = 3$ has the numbers of (7), which divide evenly.)

**Which setting has won?** The losses at different resources cannot be compared. Here the winner is the best of those
that were evaluated with the largest resource. (The paper takes the least loss seen anywhere.)

## Worked example

`LogUniform(0.001, 0.1)` at $u = 0.25$: $0.001 \cdot 100^{0.25} = 0.00316$. `Integers(3, 7)` has $m = 5$ values: at
$u = 0.5$, $3 + \lfloor 2.5 \rfloor = 5$.

Losses of four settings: $0.9, 0.4, 0.7, 0.5$. The expected best of two: there are six pairs; $0.4$ is the least of three,
$0.5$ of two, $0.7$ of one: $(1.2 + 1.0 + 0.7)/6 = 0.483$. A halving with $\eta = 2$ from $r = 1$ keeps $0.4$ and $0.5$ and
trains both with $2$; say the losses are now $0.38$ and $0.31$: the fourth setting goes on to $4$.

Hyperband with $R = 9$, $\eta = 3$: $s_{\max} = 2$.

| $s$ | settings and resources |
|---|---|
| 2 | 9 with 1, 3 with 3, 1 with 9 |
| 1 | 3 with 3, 1 with 9 |
| 0 | 3 with 9 |

## Plan

- `value_at` is (1). `sample`, given, draws settings by it.
- `grid` returns all combinations (2).
- `hit_probability` is (3) and `expected_best` (4).
- `promote` takes losses and says which go on. `successive_halving` goes through the rungs (5).
- `brackets` returns the rungs of all brackets by (6) and (7), and `hyperband` runs them.

## Pitfalls

- Step sizes drawn evenly between 0.0001 and 1 are nearly all above 0.01.
- One training fails, its loss is NaN, and it wins.
- The winner was trained for one epoch.
- The best loss of the search is reported as the loss to be expected: it is the least of many, and too good.
- Hyperband begins one bracket late for $R = 243$, $\eta = 3$.

## Cost

That of the trainings. A halving costs `n_rungs` times $n r$, Hyperband $(s_{\max} + 1)^2 R$ at most, where random search
with the full resource would train only $(s_{\max} + 1)^2$ settings in that time.

## Go further

- *Experiment*: give Hyperband an objective whose order at little resource is reversed at much. Which bracket saves it?
- *Stretch*: rungs wait for their slowest member. Promote a setting as soon as it is among the best $1 / \eta$ of those
  that its rung has seen so far: that is ASHA. How many wrong promotions are there?

## References

1. Bergstra & Bengio (2012), Random search for hyper-parameter optimization,
   https://www.jmlr.org/papers/v13/bergstra12a.html
2. Jamieson & Talwalkar (2016), Non-stochastic best arm identification and hyperparameter optimization,
   https://arxiv.org/abs/1502.07943
3. Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar (2018), Hyperband: a novel bandit-based approach to hyperparameter
   optimization, https://arxiv.org/abs/1603.06560
"""

# 8 parts to write. Test them with: pytest exercises/optim/hyperparameter_search.py
# To be written without: sklearn, scipy

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Choice:  # given: a range
    """One of some values, all equally likely.

    Examples
    --------
    >>> Choice(("relu", "tanh")).values
    ('relu', 'tanh')
    """

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not len(self.values):
            raise ValueError("values must hold at least one value, got none")


@dataclass(frozen=True)
class Uniform:  # given: a range
    """A number between two others.

    Examples
    --------
    >>> Uniform(-1.0, 2.0).high
    2.0
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise ValueError(f"low must be at most high, and both finite, got {self.low} and {self.high}")


@dataclass(frozen=True)
class LogUniform:  # given: a range
    """A positive number, all of whose orders of magnitude are equally likely.

    Examples
    --------
    >>> LogUniform(0.001, 1.0).low
    0.001
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < math.inf:
            raise ValueError(f"low must be positive and at most high, and high finite, got {self.low} and {self.high}")


@dataclass(frozen=True)
class Integers:  # given: a range
    """A whole number between two others, which are included.

    Examples
    --------
    >>> Integers(3, 7).high
    7
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"low must be at most high, got {self.low} and {self.high}")


Range = Choice | Uniform | LogUniform | Integers
Space = Mapping[str, Range]
Configuration = dict[str, Any]
Evaluate = Callable[[Configuration, float], float]


@dataclass(frozen=True)
class Trial:
    """One evaluation: the setting, the resource it was given, and the loss."""

    configuration: Configuration
    resource: float
    loss: float


@dataclass(frozen=True)
class SearchResult:
    """What a search ended with.

    Attributes
    ----------
    configuration : dict
        The winner: of the least loss among the trials with the largest resource, the first of several.
    fun : float
        Its loss; NaN if all of these are.
    nfev : int
        Number of evaluations.
    resource : float
        The sum of all trials' resources.
    trials : tuple of Trial
        All evaluations in their order.
    """

    configuration: Configuration
    fun: float
    nfev: int
    resource: float
    trials: tuple[Trial, ...]


def value_at(among: Range, share: float) -> Any:
    """Return the value at a share of a range: equation (1).

    Parameters
    ----------
    among : Choice, Uniform, LogUniform or Integers
        The range.
    share : float
        The share $u$, from 0 to 1.

    Returns
    -------
    object
        A float between both ends, an int, or one of the values.

    Raises
    ------
    ValueError
        If `share` is not between 0 and 1.

    Examples
    --------
    >>> print(f"{value_at(LogUniform(0.001, 0.1), 0.25):.4f}")
    0.0032
    >>> value_at(Integers(3, 7), 0.5), value_at(Choice(("relu", "tanh")), 1.0)
    (5, 'tanh')
    """
    # given: the checks
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    raise NotImplementedError("not written yet: value_at")


def sample(space: Space, n: int, *, rng: np.random.Generator) -> list[Configuration]:  # given
    """Draw settings from a space, each hyperparameter of each on its own.

    Parameters
    ----------
    space : mapping
        A range for each hyperparameter's name.
    n : int
        How many settings to draw, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of dict
        The settings.

    Raises
    ------
    ValueError
        If `space` is empty, or `n` is below 1.

    Examples
    --------
    >>> drawn = sample({"rate": LogUniform(1e-4, 1.0)}, 1000, rng=np.random.default_rng(0))
    >>> print(f"{np.mean([s['rate'] < 0.01 for s in drawn]):.1f}")
    0.5
    """
    _check_space(space)
    _check_count(n, "n")
    return [{name: value_at(among, rng.random()) for name, among in space.items()} for _ in range(n)]


def grid(space: Space, sizes: Mapping[str, int]) -> list[Configuration]:
    """Return all combinations of some values of each hyperparameter, equation (2) of them.

    A `Choice` takes part with all of its values. Of any other range there are `sizes[name]` values, at evenly spaced
    shares from 0 to 1, and the one at 0.5 if the size is 1. Values of `Integers` that come twice count once. The last
    hyperparameter changes fastest.

    Parameters
    ----------
    space : mapping
        A range for each hyperparameter's name.
    sizes : mapping
        For each name, but those of choices, how many values there are, at least 1.

    Returns
    -------
    list of dict
        The settings.

    Raises
    ------
    ValueError
        If `space` is empty, or `sizes` lacks a name or has a size below 1.

    Examples
    --------
    >>> for setting in grid({"rate": LogUniform(0.01, 1.0), "kind": Choice(("a", "b"))}, {"rate": 2}):
    ...     print(setting)
    {'rate': 0.01, 'kind': 'a'}
    {'rate': 0.01, 'kind': 'b'}
    {'rate': 1.0, 'kind': 'a'}
    {'rate': 1.0, 'kind': 'b'}
    """
    # given: the checks
    _check_space(space)
    _check_sizes(space, sizes)
    raise NotImplementedError("not written yet: grid")


def hit_probability(share: float, n: int) -> float:
    """Return how probably at least one of some random tries is good enough: equation (3).

    Parameters
    ----------
    share : float
        The share $p$ of the space that is good enough, from 0 to 1, however small.
    n : int
        The number of tries, at least 1.

    Returns
    -------
    float
        The probability, without loss of digits for small shares.

    Raises
    ------
    ValueError
        If `share` is not between 0 and 1, or `n` is below 1.

    Examples
    --------
    >>> print(f"{hit_probability(0.05, 60):.4f}")
    0.9539
    """
    # given: the checks
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    _check_count(n, "n")
    raise NotImplementedError("not written yet: hit_probability")


def expected_best(losses: Float[np.ndarray, " n_trials"], n: int) -> float:
    """Return the mean of the least loss over all choices of some of the trials: equation (4).

    Parameters
    ----------
    losses : ndarray
        The losses of random trials, all finite, in any order. They are not changed.
    n : int
        How many trials are chosen, from 1 to all.

    Returns
    -------
    float
        The mean.

    Raises
    ------
    ValueError
        If `losses` is no vector of finite numbers, or `n` is below 1 or above the number of losses.

    Examples
    --------
    >>> print(f"{expected_best(np.array([0.9, 0.4, 0.7, 0.5]), 2):.4f}")
    0.4833
    """
    # given: the checks
    if losses.ndim != 1 or not np.isfinite(losses).all():
        raise ValueError(f"losses must be a vector of finite numbers, got {losses}")
    if not 1 <= n <= len(losses):
        raise ValueError(f"n must be from 1 to {len(losses)}, got {n}")
    raise NotImplementedError("not written yet: expected_best")


def promote(losses: Float[np.ndarray, " n_trials"], n_kept: int) -> Int[np.ndarray, " {n_kept}"]:
    """Return which of the trials go on: those of the least losses, the best first.

    Of equal losses the earlier goes first; a NaN comes after everything, also after infinity.

    Parameters
    ----------
    losses : ndarray
        The losses of a rung. They are not changed.
    n_kept : int
        How many go on, from 1 to all.

    Returns
    -------
    ndarray
        Their places.

    Raises
    ------
    ValueError
        If `losses` is no vector, or `n_kept` is below 1 or above the number of losses.

    Examples
    --------
    >>> promote(np.array([0.9, np.nan, 0.4, 0.9]), 3)
    array([2, 0, 3])
    """
    # given: the checks
    if losses.ndim != 1 or not 1 <= n_kept <= len(losses):
        raise ValueError(f"n_kept must be from 1 to the number of losses, of shape {losses.shape}, got {n_kept}")
    raise NotImplementedError("not written yet: promote")


def successive_halving(
    evaluate: Evaluate,
    configurations: Sequence[Configuration],
    *,
    resource: float,
    eta: float = 3,
    n_rungs: int,
) -> SearchResult:
    r"""Evaluate settings on rungs with ever more resource, and ever fewer of them: equation (5).

    With one rung all settings are evaluated with one resource: that is grid or random search.

    Parameters
    ----------
    evaluate : callable
        Takes a setting, which it should leave as it is, and a resource, and returns the loss; NaN for a training that
        failed.
    configurations : sequence of dict
        The settings of the first rung.
    resource : float
        The resource $r$ of the first rung, positive and finite.
    eta : float
        The factor $\eta$ between rungs, above 1 and finite.
    n_rungs : int
        The number of rungs, at least 1.

    Returns
    -------
    SearchResult
        With all trials in the order in which they were made: on each rung the best of the last comes first.

    Raises
    ------
    ValueError
        If `configurations` is empty, `resource` not positive and finite, `eta` not above 1 and finite, or `n_rungs`
        below 1.

    Examples
    --------
    >>> result = successive_halving(lambda s, r: s["x"] + 1 / r, [{"x": 5}, {"x": 2}, {"x": 3}], resource=1, n_rungs=2)
    >>> result.configuration, result.nfev, result.resource
    ({'x': 2}, 4, 6)
    """
    # given: the checks
    _check_halving(configurations, resource, eta, n_rungs)
    raise NotImplementedError("not written yet: successive_halving")


def brackets(max_resource: float, eta: int = 3) -> list[list[tuple[int, float]]]:
    r"""Return Hyperband's brackets, from the one with most settings to random search: equations (5), (6) and (7).

    Parameters
    ----------
    max_resource : float
        The largest resource $R$ of one evaluation, at least 1.
    eta : int
        The factor $\eta$ between rungs, at least 2.

    Returns
    -------
    list of list of tuple
        For each bracket, $s$ from $s_{\max}$ to 0, its rungs: the number of settings and the resource of each.

    Raises
    ------
    ValueError
        If `max_resource` is below 1 or not finite, or `eta` below 2.

    Examples
    --------
    >>> for bracket in brackets(9, 3):
    ...     print(bracket)
    [(9, 1.0), (3, 3.0), (1, 9.0)]
    [(3, 3.0), (1, 9.0)]
    [(3, 9.0)]
    """
    # given: the checks
    if not 1 <= max_resource < math.inf:
        raise ValueError(f"max_resource must be at least 1 and finite, got {max_resource}")
    if not eta >= 2:
        raise ValueError(f"eta must be at least 2, got {eta}")
    raise NotImplementedError("not written yet: brackets")


def hyperband(
    evaluate: Evaluate, space: Space, max_resource: float, *, eta: int = 3, rng: np.random.Generator
) -> SearchResult:
    r"""Run a successive halving of fresh random settings for each of Hyperband's brackets: equations (6) and (7).

    Parameters
    ----------
    evaluate : callable
        Takes a setting, which it should leave as it is, and a resource, and returns the loss; NaN for a training that
        failed.
    space : mapping
        A range for each hyperparameter's name.
    max_resource : float
        The largest resource $R$ of one evaluation, up to rounding; at least 1.
    eta : int
        The factor $\eta$ between rungs, at least 2.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SearchResult
        With the trials of all brackets, in their order.

    Raises
    ------
    ValueError
        If `space` is empty, `max_resource` is below 1 or not finite, or `eta` below 2.

    Examples
    --------
    >>> space = {"x": Uniform(-1.0, 1.0)}
    >>> result = hyperband(lambda s, r: s["x"] ** 2 + 1 / r, space, 9, rng=np.random.default_rng(0))
    >>> result.nfev, result.resource, bool(result.fun < 0.15)
    (20, 72.0, True)
    """
    # given: the checks
    _check_space(space)
    raise NotImplementedError("not written yet: hyperband")


def summary(trials: Sequence[Trial]) -> SearchResult:  # given
    """Return the result of a search from its trials.

    Parameters
    ----------
    trials : sequence of Trial
        The evaluations in their order, at least one.

    Returns
    -------
    SearchResult
        The winner and the counts.

    Examples
    --------
    >>> summary([Trial({"x": 1}, 1, 0.2), Trial({"x": 1}, 3, 0.7), Trial({"x": 2}, 3, 0.4)]).configuration
    {'x': 2}
    """
    most = max(trial.resource for trial in trials)
    last = [trial for trial in trials if math.isclose(trial.resource, most)]  # the same up to rounding
    winner = min(last, key=lambda trial: (math.isnan(trial.loss), trial.loss))
    return SearchResult(
        winner.configuration, winner.loss, len(trials), sum(trial.resource for trial in trials), tuple(trials)
    )


def _check_space(space: Space) -> None:  # given: argument checks
    """Refuse a space without hyperparameters."""
    if not space:
        raise ValueError("space must have at least one hyperparameter, got none")


def _check_count(value: int, name: str) -> None:  # given: argument checks
    """Refuse a count below one."""
    if not value >= 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


def _check_sizes(space: Space, sizes: Mapping[str, int]) -> None:  # given: argument checks
    """Refuse sizes that are missing or below one."""
    for name, among in space.items():
        if not isinstance(among, Choice):
            if name not in sizes:
                raise ValueError(f"sizes must have {name!r}, got {sorted(sizes)}")
            _check_count(sizes[name], f"sizes[{name!r}]")


def _check_halving(configurations: Sequence[Configuration], resource: float, eta: float, n_rungs: int) -> None:  # given
    """Refuse what no halving can work with."""
    if not len(configurations):
        raise ValueError("configurations must hold at least one setting, got none")
    if not 0 < resource < math.inf:
        raise ValueError(f"resource must be positive and finite, got {resource}")
    if not 1 < eta < math.inf:
        raise ValueError(f"eta must be above 1 and finite, got {eta}")
    _check_count(n_rungs, "n_rungs")
