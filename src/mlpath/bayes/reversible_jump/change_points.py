r"""Reversible jump over change points: how often did the rate change, when, and from what to what?

## Idea

Accidents are counted year by year. Their rate is constant for a while, then it changes, and nobody says how often. A birth
splits one stretch of years into two with rates of their own; a death merges two neighbours into one. Both keep the average
rate, so that the new rates fit about as well as the old. Such a pair of moves needs more than appending a number: two new
rates are computed from one old rate and one random number, and the change of volume enters the acceptance.

## Maths

**The model.** The years are $t = 1, \dots, n$, with $y_t$ accidents. There are $k \in \{0, \dots, K\}$ changes, after
$c_1 < \dots < c_k$ years, each from 1 to $n - 1$: these *places* cut the years into $k + 1$ *segments*, with the rates
$h_0, \dots, h_k$. So $y_t \sim \text{Poisson}(h_j)$ in segment $j$. Beforehand $k$ has the probability $p(k)$; given $k$,
all $\binom{n-1}{k}$ sets of places are equally likely; the rates are independent, with the gamma density of *shape* $a$ and
*rate* $b$,

$$g(h) = \frac{b^a}{\Gamma(a)}\, h^{a-1}\, e^{-b h}. \tag{1}$$

Write $r_t$ for the rate of the segment in which year $t$ lies. The joint density of everything is

$$p(k, c, h, y) = p(k) \binom{n-1}{k}^{-1} \prod_{j=0}^k g(h_j) \prod_{t=1}^n \frac{r_t^{y_t}\, e^{-r_t}}{y_t!}. \tag{2}$$

**Split and merge.** A segment with the rate $h$ is cut so that the share $w$ of its years lies to the left of the cut.
Green [1] draws $u$, uniform on $(0, 1)$, and chooses the two new rates by

$$w \log h_1 + (1 - w) \log h_2 = \log h, \qquad \frac{h_2}{h_1} = \frac{1 - u}{u}. \tag{3}$$

The first equation keeps the geometric mean, weighted by years. The second makes the two rates equal if $u = \tfrac{1}{2}$,
and as different as you like if $u$ is near 0 or 1. Solved for $h_1$ and $h_2$ they are the split; solved for $h$ and $u$,
the merge.

**The volume.** Let $\ell = \log \frac{u}{1 - u} = \log h_1 - \log h_2$. In logarithms (3) is linear: $\log h_1$ and
$\log h_2$ are $\log h + (1 - w)\, \ell$ and $\log h - w\, \ell$, with a determinant of size 1. By the chain rule

$$|\det J| = \Big| \frac{\partial (h_1, h_2)}{\partial (h, u)} \Big| = \underbrace{h_1\, h_2}_{\text{out of the logarithms}} \cdot\ 1 \cdot
\underbrace{\frac{1}{h}\, \frac{\mathrm{d} \ell}{\mathrm{d} u}}_{\text{into them}}. \tag{4}$$

What is $\mathrm{d} \ell / \mathrm{d} u$? By (3) $u$ can be written in $h_1$ and $h_2$; then (4) becomes a short expression
in $h, h_1, h_2$ alone, in which $w$ no longer appears.

**Birth and death.** A birth at $k$ is tried with the probability $b_k$, a death with $d_k$: those of the exercise before,
$c \min\{1, p(k \pm 1) / p(k)\}$ with a constant $c$, and 0 where they would lead out of the range. A birth takes one of the
$n - 1 - k$ free places, all equally likely, and a uniform $u$. A death takes one of the changes there are, all equally
likely. So the traffic in both directions is balanced if the acceptance depends on

$$\log A = \log \frac{p(k + 1, c', h', y)}{p(k, c, h, y)} + \log \frac{d_{k+1} / (k + 1)}{b_k / (n - 1 - k)} + \log |\det J| \tag{5}$$

for a birth from $(k, c, h)$ to $(k + 1, c', h')$; the death that leads back has $-\log A$.

**Shift.** The dimension stays: a change moves from its place to another between its neighbours, and the two rates stay as
they are. If all places strictly between the neighbours are equally likely to be proposed, its own included, then

$$\log A = \log \frac{p(k, c', h, y)}{p(k, c, h, y)}. \tag{6}$$

**Rates.** Given the places, the rate of a segment of $m$ years with $S$ accidents has the gamma distribution of shape
$a + S$ and rate $b + m$: they are drawn anew after every step.

**The exact answer.** Integrating the rate out of a segment of the years $s + 1, \dots, t$ leaves a number $M(s, t)$, its
evidence. So (2) becomes a sum over sets of places of products of such numbers, and a sum over all ways of cutting can be
done from left to right [2]: let $F_j(t)$ be the sum over all ways of cutting the first $t$ years $j$ times. The last cut is
somewhere, after $s$ years, so that

$$F_0(t) = M(0, t), \qquad F_j(t) = \sum_{s=1}^{t-1} F_{j-1}(s)\, M(s, t). \tag{7}$$

Likewise $G_j(s)$ for the years after $s$, from right to left, with $G_0(s) = M(s, n)$. Then

$$p(k \mid y) \propto p(k) \binom{n-1}{k}^{-1} F_k(n), \tag{8}$$

and the probability that there is a change after $c$ years, together with $k$ changes in all, is

$$p(k, \text{change after } c \mid y) \propto p(k) \binom{n-1}{k}^{-1} \sum_{i=0}^{k-1} F_i(c)\, G_{k-1-i}(c), \tag{9}$$

with the same constant.

## Worked example

*A split.* A segment of 5 years has the rate $h = 2$, and is cut after 2 of them: $w = 0.4$. With $u = 0.8$,
$\ell = \log 4 = 1.3863$, so $h_1 = 2 \cdot 4^{0.6} = 4.5948$ and $h_2 = 2 \cdot 4^{-0.4} = 1.1487$, four times smaller. In
(4), $h_1 h_2 / h = 2.6390$ and $\mathrm{d} \ell / \mathrm{d} u = 6.25$: together 16.494.

*Four years* with 3, 5, 0 and 1 accidents, $a = b = 1$, $K = 1$ and $p(k) = \tfrac{1}{2}$. With one segment, of 9 accidents
in 4 years, the evidence is $M(0, 4) = 9! / 5^{10} / (3!\, 5!) = 5.161 \cdot 10^{-5}$. With a change after 1, 2, 3 years
$F_1(4)$ has the three terms $2.289 \cdot 10^{-5}$, $31.612 \cdot 10^{-5}$ and $5.341 \cdot 10^{-5}$, of which (8) takes one
third of the sum: $13.081 \cdot 10^{-5}$. So there is a change with the probability 0.717, and it is after 2 years with the
probability 0.578.

*A birth* from $h = 2$ there, at $c = 2$ with $u = 0.8$: $w = \tfrac{1}{2}$, $h_1 = 4$, $h_2 = 1$. The counts gain
$8 \log 2 - 1 \log 2 - 10 + 8 = 2.8520$, the prior of the rates has $-5 + 2 = -3$, and that of the places
$-\log 3 = -1.0986$. There were 3 free places, which adds $\log 3$; and $b_0 = d_1$. With
$\log |\det J| = \log 12.5 = 2.5257$ we have $\log A = 2.378$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `split` | rates, shares of years, $u$ | two rates, and $\log \lvert\det J\rvert$ | (3), (4) |
| `merge` | two rates, shares of years | the rate and $u$ | (3) |
| `log_posterior` | a `State` | the joint log density | (2) |
| `birth` | a `State`, places, $u$ | a `Jump` | (5) |
| `death` | a `State`, places | a `Jump` | (5) |
| `shift` | a `State`, old and new places | a `Jump` | (6) |
| `exact_posterior` | the model | probabilities of the numbers and of the places | (7), (8), (9) |
| `step` | a `State` | the next `State`, and which births and deaths were accepted | all but the last |

A state keeps the same arrays whatever its dimension: for each of $n - 1$ places whether there is a change, and for each of
$n$ years its rate. A place is a number of years: place $c$ is in column $c - 1$ of the changes; the year before it is in
column $c - 1$ of the rates, the year after it in column $c$. Given are `neighbours`, `paint`, `pick`, `_take`, `accept`,
`redraw_rates`, `log_segments`, and `sample`, which repeats your `step`. `move_probabilities(log_prior, share=c)` of the
exercise on polynomial order returns $b_k$ and $d_k$, one for each $k$.

## Pitfalls

- A birth followed by the death that leads back does not end where it began, or the two ratios are not opposite.
- There are too many changes, all of them tiny; or hardly any birth is accepted.
- The posterior of the number of changes depends on how many years there are in which nothing happens.
- The cut is off by one year: does year $c$ belong to the left or to the right?
- A change is born where there is one already.
- A segment's rate counts once in the prior, not once for each of its years.

## Cost

A step costs $O(n)$ a chain. The exact answer costs $O(K n^2)$: for 112 years it is quicker than any chain. But it needs the
integral over the rate of one segment; the chain does not.

## Go further

Experiment: run the chain on the disasters in British coal mines (`coal_counts` of `mlpath.bayes._targets`), and compare
with the exact answer, for several priors of the rates. With $a = b = 1$ and $p(k)$ Poisson with mean 3, cut off at
$K = 10$, 3 changes have the probability 0.28, 2 and 4 of them 0.23 each. How much does that depend on the priors? A
stretch goal: times of accidents instead of counts, so that a change may come on any day; that is what [1] does.

What is not here: Green's prior of the places, which keeps them apart from each other.

## References

1. Green (1995), Reversible jump Markov chain Monte Carlo computation and Bayesian model determination,
   https://doi.org/10.1093/biomet/82.4.711
2. Fearnhead (2006), Exact and efficient Bayesian inference for multiple changepoint problems,
   https://doi.org/10.1007/s11222-006-8450-8
3. Jarrett (1979), A note on the intervals between coal-mining disasters, https://doi.org/10.1093/biomet/66.1.191
"""

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
    """Refuse a constant c that would make a probability above 1."""
    if not 0 < share <= 0.5:
        raise ValueError(f"share must be above 0 and at most 0.5, got {share}")


def _check_weight(weight: np.ndarray) -> None:  # given: argument checks
    """Refuse a cut that leaves nothing on one side."""
    if not ((weight > 0) & (weight < 1)).all():
        raise ValueError(f"weight must be above 0 and below 1, got {weight}")


def _check_change(change: np.ndarray, model: Model) -> None:  # given: argument checks
    """Refuse what are no changes of this model."""
    if change.ndim != 2 or change.dtype != bool or change.shape[1] != len(model.counts) - 1:
        raise ValueError(f"change must be true or false at {len(model.counts) - 1} places, got shape {change.shape}")
    if not (change.sum(axis=1) < len(model.log_prior)).all():
        raise ValueError(f"change must be at most {len(model.log_prior) - 1} in a row, got {change.sum(axis=1)}")


def _check_place(place: np.ndarray, eligible: np.ndarray) -> None:  # given: argument checks
    """Refuse places out of range, or where there is (or is no) change."""
    if place.ndim != 1 or not ((place >= 1) & (place <= eligible.shape[1])).all():
        raise ValueError(f"place must be a vector of numbers from 1 to {eligible.shape[1]}, got {place}")
    if not eligible[np.arange(len(place)), place - 1].all():
        raise ValueError(f"place must be free for a birth, and a change otherwise, got {place}")


def neighbours(  # given
    change: Bool[np.ndarray, "n_chains n_places"], place: Int[np.ndarray, " n_chains"]
) -> tuple[Int[np.ndarray, " n_chains"], Int[np.ndarray, " n_chains"]]:
    """Return the nearest changes on either side of a place, whether or not there is one at the place itself.

    Parameters
    ----------
    change : ndarray
        Whether there is a change after c years, in column c - 1.
    place : ndarray
        A place of each chain, from 1 to n - 1.

    Returns
    -------
    begin : ndarray
        The last change before the place, or 0. The years between it and the place are columns `begin` to `place - 1` of the rates.
    end : ndarray
        The first change after the place, or n. The years between the place and it are columns `place` to `end - 1`.

    Examples
    --------
    >>> change = np.array([[True, False, True, False], [False, False, False, False]])
    >>> begin, end = neighbours(change, np.array([3, 2]))
    >>> print(begin, end)
    [1 0] [5 5]
    """
    n, places = change.shape[1] + 1, np.arange(1, change.shape[1] + 1)
    begin = np.where(change & (places < place[:, None]), places, 0).max(axis=1)
    return begin, np.where(change & (places > place[:, None]), places, n).min(axis=1)


def paint(  # given
    rate: Float[np.ndarray, "n_chains n_years"],
    begin: Int[np.ndarray, " n_chains"],
    end: Int[np.ndarray, " n_chains"],
    value: Float[np.ndarray, " n_chains"],
) -> Float[np.ndarray, "n_chains n_years"]:
    """Return a copy of the rates in which the columns `begin` to `end - 1` of each chain have a new value.

    Parameters
    ----------
    rate : ndarray
        The rate of each year. It is not changed.
    begin, end : ndarray
        The first column of each chain that gets the new value, and the one after the last.
    value : ndarray
        The new value of each chain.

    Returns
    -------
    ndarray
        The new rates.

    Examples
    --------
    >>> print(paint(np.ones((2, 4)), np.array([0, 2]), np.array([1, 4]), np.array([7.0, 8.0])))
    [[7. 1. 1. 1.]
     [1. 1. 8. 8.]]
    """
    years = np.arange(rate.shape[1])
    return np.where((years >= begin[:, None]) & (years < end[:, None]), value[:, None], rate)


def pick(  # given
    eligible: Bool[np.ndarray, "n_chains n_places"], *, rng: np.random.Generator
) -> Int[np.ndarray, " n_chains"]:
    """Return one place of each chain, all of those equally likely for which `eligible` is true in column place - 1.

    Parameters
    ----------
    eligible : ndarray
        Which places there are to choose from; at least one in a row.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        A place of each chain, from 1 to n - 1.

    Examples
    --------
    >>> print(pick(np.array([[False, True, False], [True, False, False]]), rng=np.random.default_rng(0)))
    [2 1]
    """
    return 1 + np.where(eligible, rng.random(eligible.shape), -1.0).argmax(axis=1)


def accept(  # given
    state: State, chains: Int[np.ndarray, " n_jumps"], jump: Jump, *, rng: np.random.Generator
) -> tuple[State, Int[np.ndarray, " n_accepted"]]:
    """Toss the coins, and return the state after the accepted jumps, and the numbers of the chains that were accepted.

    Parameters
    ----------
    state : State
        Where all chains are. It is not changed.
    chains : ndarray
        The numbers of the chains that try a jump: row i of the jump is of chain `chains[i]`.
    jump : Jump
        Where these might go, taken with the probability min(1, A).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where all chains are next.
    accepted : ndarray
        Those of `chains` whose jump was accepted.

    Examples
    --------
    >>> here = State(np.array([[False], [True], [True]]), np.array([[2.0, 2.0], [1.0, 4.0], [3.0, 5.0]]))
    >>> there = State(np.array([[False]]), np.array([[2.5, 2.5]]))
    >>> state, accepted = accept(here, np.array([1]), Jump(there, np.array([0.5])), rng=np.random.default_rng(0))
    >>> print(state.rate.tolist(), accepted)
    [[2.0, 2.0], [2.5, 2.5], [3.0, 5.0]] [1]
    """
    taken = -rng.standard_exponential(len(chains)) <= jump.log_ratio
    change, rate = state.change.copy(), state.rate.copy()
    change[chains[taken]], rate[chains[taken]] = jump.state.change[taken], jump.state.rate[taken]
    return State(change, rate), chains[taken]


def _take(state: State, chains: Int[np.ndarray, " n_some"]) -> State:  # given
    """Return the state of some of the chains.

    Parameters
    ----------
    state : State
        Where all chains are.
    chains : ndarray
        The numbers of those to take.

    Returns
    -------
    State
        Copies of their rows.

    Examples
    --------
    >>> print(_take(State(np.array([[False], [True]]), np.array([[2.0, 2.0], [1.0, 4.0]])), np.array([1])).rate)
    [[1. 4.]]
    """
    return State(state.change[chains], state.rate[chains])


def redraw_rates(  # given
    model: Model, change: Bool[np.ndarray, "n_chains n_places"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n_chains n_years"]:
    """Draw the rates of all segments from what they are given the places, and return the rate of each year.

    Parameters
    ----------
    model : Model
        Counts and priors.
    change : ndarray
        Whether there is a change after c years, in column c - 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The rate of each year, the same in all years of a segment.

    Examples
    --------
    >>> model = Model(np.array([9_000_000, 9_000_000, 1_000_000]), 1.0, 1e-6, np.zeros(3))
    >>> print(redraw_rates(model, np.array([[False, True]]), rng=np.random.default_rng(0)).round(-5))
    [[9000000. 9000000. 1000000.]]
    """
    n_chains, n = len(change), len(model.counts)
    segment = np.zeros((n_chains, n), dtype=int)
    segment[:, 1:] = change.cumsum(axis=1)
    one = segment[:, :, None] == np.arange(len(model.log_prior))
    drawn = rng.gamma(model.shape + model.counts @ one, 1 / (model.rate + one.sum(axis=1)))
    return np.maximum(np.take_along_axis(drawn, segment, axis=1), np.finfo(float).tiny)


def log_segments(model: Model) -> Float[np.ndarray, "n_plus_1 n_plus_1"]:  # given
    r"""Return $\log M(s, t)$ in row s and column t, from 0 to n: the evidence of one segment of the years s + 1 to t.

    Parameters
    ----------
    model : Model
        Counts and priors.

    Returns
    -------
    ndarray
        The logarithms; -inf where s is not below t.

    Examples
    --------
    >>> print(np.exp(log_segments(Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.zeros(2)))[0, 4]).round(8))
    5.161e-05
    """
    total = np.concatenate([[0], np.cumsum(model.counts)])
    factorials = np.concatenate([[0.0], np.cumsum(gammaln(model.counts + 1.0))])
    years = np.arange(len(total))
    a = model.shape + np.maximum(total - total[:, None], 0)
    b = model.rate + np.maximum(years - years[:, None], 0)
    evidence = model.shape * np.log(model.rate) - gammaln(model.shape) + gammaln(a) - a * np.log(b)
    return np.where(years > years[:, None], evidence - (factorials - factorials[:, None]), -np.inf)


def log_choose(n: int, k: Int[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:  # given
    """Return the logarithm of the number of ways to choose k of n things.

    Parameters
    ----------
    n : int
        How many things there are.
    k : ndarray
        How many of them are chosen, from 0 to n.

    Returns
    -------
    ndarray
        The logarithms, in the shape of `k`.

    Examples
    --------
    >>> print(np.exp(log_choose(5, np.array([0, 2, 5]))).round(9))
    [ 1. 10.  1.]
    """
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def split(
    rate: Float[np.ndarray, " n_chains"], weight: Float[np.ndarray, " n_chains"], u: Float[np.ndarray, " n_chains"]
) -> tuple[Float[np.ndarray, " n_chains"], Float[np.ndarray, " n_chains"], Float[np.ndarray, " n_chains"]]:
    r"""Make two rates of one, equations (3) and (4).

    Parameters
    ----------
    rate : ndarray
        $h$ of each chain, positive.
    weight : ndarray
        $w$, the share of the years to the left of the cut, above 0 and below 1.
    u : ndarray
        A random number of each chain, uniform between 0 and 1 and neither of them.

    Returns
    -------
    left, right : ndarray
        $h_1$ and $h_2$.
    log_jacobian : ndarray
        $\log |\det J|$, where $J$ has the derivatives of $h_1$ and $h_2$ by $h$ and $u$.

    Raises
    ------
    ValueError
        If `weight` or `u` is not above 0 and below 1, or `rate` is not positive and finite.

    Examples
    --------
    >>> left, right, log_jacobian = split(np.array([2.0]), np.array([0.4]), np.array([0.8]))
    >>> print(left.round(4), right.round(4), log_jacobian.round(4))
    [4.5948] [1.1487] [2.803]
    """
    # given: the checks
    _check_weight(weight)
    if not ((u > 0) & (u < 1)).all():
        raise ValueError(f"u must be above 0 and below 1, got {u}")
    if not ((rate > 0) & (rate < np.inf)).all():
        raise ValueError(f"rate must be positive and finite, got {rate}")
    # yours
    log_odds = np.log(u) - np.log1p(-u)
    left, right = rate * np.exp((1 - weight) * log_odds), rate * np.exp(-weight * log_odds)
    return left, right, 2 * np.log(left + right) - np.log(rate)


def merge(
    left: Float[np.ndarray, " n_chains"], right: Float[np.ndarray, " n_chains"], weight: Float[np.ndarray, " n_chains"]
) -> tuple[Float[np.ndarray, " n_chains"], Float[np.ndarray, " n_chains"]]:
    r"""Make one rate of two, the inverse of `split`, equation (3).

    Parameters
    ----------
    left, right : ndarray
        $h_1$ and $h_2$ of each chain, positive.
    weight : ndarray
        $w$, the share of the years on the left, above 0 and below 1.

    Returns
    -------
    rate : ndarray
        $h$.
    u : ndarray
        The number between 0 and 1 that `split` would have needed.

    Raises
    ------
    ValueError
        If `weight` is not above 0 and below 1.

    Examples
    --------
    >>> rate, u = merge(np.array([4.0]), np.array([1.0]), np.array([0.5]))
    >>> print(rate.round(4), u.round(4))
    [2.] [0.8]
    """
    # given: the check
    _check_weight(weight)
    # yours
    return np.exp(weight * np.log(left) + (1 - weight) * np.log(right)), left / (left + right)


def log_posterior(model: Model, state: State) -> Float[np.ndarray, " n_chains"]:
    r"""Return the joint log density of number, places, rates and counts, equation (2), with all its constants.

    Parameters
    ----------
    model : Model
        Counts and priors. `log_prior` is taken as it is, without making its probabilities sum to 1.
    state : State
        Changes and rates of each chain.

    Returns
    -------
    ndarray
        $\log p(k, c, h, y)$ of each chain.

    Raises
    ------
    ValueError
        If `state.change` does not fit the model.

    Examples
    --------
    >>> model = Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.log([0.5, 0.5]))
    >>> state = State(
    ...     np.array([[False, False, False], [False, True, False]]), np.array([[2.0] * 4, [4.0, 4.0, 1.0, 1.0]])
    ... )
    >>> print(log_posterior(model, state).round(4))
    [-11.0341 -12.2807]
    """
    # given: the check
    _check_change(state.change, model)
    # yours
    n_changes, log_rate = state.change.sum(axis=1), np.log(state.rate)
    a, b = model.shape, model.rate
    of_rates = a * np.log(b) - gammaln(a) + (a - 1) * log_rate - b * state.rate
    first = np.insert(state.change, 0, True, axis=1)
    of_counts = model.counts * log_rate - state.rate - gammaln(model.counts + 1.0)
    of_places = model.log_prior[n_changes] - log_choose(len(model.counts) - 1, n_changes)
    return of_places + (of_rates * first).sum(axis=1) + of_counts.sum(axis=1)


def birth(
    model: Model,
    state: State,
    place: Int[np.ndarray, " n_chains"],
    u: Float[np.ndarray, " n_chains"],
    *,
    share: float = 0.5,
) -> Jump:
    """Propose a change at a free place, where the segment is cut and its rate split, with the ratio of equation (5).

    Parameters
    ----------
    model : Model
        Counts and priors.
    state : State
        Where the chains are, each with fewer than K changes. It is not changed.
    place : ndarray
        The place of the new change, which was drawn among those without a change.
    u : ndarray
        The random number of each chain, which was drawn uniformly between 0 and 1.
    share : float
        The constant c of `move_probabilities(model.log_prior, share=share)`.

    Returns
    -------
    Jump
        The state with the change, and log A of going there. Of no chains, nothing: all its arrays are then empty.

    Raises
    ------
    ValueError
        If there are K changes already, or there is one at the place, or `u` or `share` is out of range.

    Examples
    --------
    >>> model = Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.log([0.5, 0.5]))
    >>> state = State(np.array([[False, False, False]]), np.full((1, 4), 2.0))
    >>> jump = birth(model, state, np.array([2]), np.array([0.8]))
    >>> print(jump.state.change, jump.state.rate.round(4), jump.log_ratio.round(4))
    [[False  True False]] [[4. 4. 1. 1.]] [2.3778]
    """
    # given: the checks
    _check_share(share)
    _check_change(state.change, model)
    _check_place(place, ~state.change)
    if not (state.change.sum(axis=1) < len(model.log_prior) - 1).all():
        raise ValueError(
            f"state must have less than {len(model.log_prior) - 1} changes, got {state.change.sum(axis=1)}"
        )
    # yours
    rows, (begin, end) = np.arange(len(place)), neighbours(state.change, place)
    left, right, log_jacobian = split(state.rate[rows, place - 1], (place - begin) / (end - begin), u)
    change = state.change.copy()
    change[rows, place - 1] = True
    new = State(change, paint(paint(state.rate, begin, place, left), place, end, right))
    up, down = move_probabilities(model.log_prior, share=share)
    k, n_places = state.change.sum(axis=1), state.change.shape[1]
    way_back = np.log(down[k + 1] / (k + 1)) - np.log(up[k] / (n_places - k))
    return Jump(new, log_posterior(model, new) - log_posterior(model, state) + way_back + log_jacobian)


def death(model: Model, state: State, place: Int[np.ndarray, " n_chains"], *, share: float = 0.5) -> Jump:
    """Propose to give up a change, the exact reverse of `birth`, with the ratio of equation (5).

    Parameters
    ----------
    model : Model
        Counts and priors.
    state : State
        Where the chains are. It is not changed.
    place : ndarray
        The place of the change to give up, which was drawn among those of the chain. Its two segments become one.
    share : float
        The constant c of `move_probabilities(model.log_prior, share=share)`.

    Returns
    -------
    Jump
        The state without the change, and log A of going there: minus that of the birth which leads back. Of no chains, nothing:
        all its arrays are then empty.

    Raises
    ------
    ValueError
        If there is no change at the place, or `share` is out of range.

    Examples
    --------
    >>> model = Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.log([0.5, 0.5]))
    >>> state = State(np.array([[False, True, False]]), np.array([[4.0, 4.0, 1.0, 1.0]]))
    >>> jump = death(model, state, np.array([2]))
    >>> print(jump.state.change, jump.state.rate.round(4), jump.log_ratio.round(4))
    [[False False False]] [[2. 2. 2. 2.]] [-2.3778]
    """
    # given: the checks
    _check_share(share)
    _check_change(state.change, model)
    _check_place(place, state.change)
    # yours
    rows, (begin, end) = np.arange(len(place)), neighbours(state.change, place)
    weight = (place - begin) / (end - begin)
    rate, u = merge(state.rate[rows, place - 1], state.rate[rows, place], weight)
    change = state.change.copy()
    change[rows, place - 1] = False
    new = State(change, paint(state.rate, begin, end, rate))
    up, down = move_probabilities(model.log_prior, share=share)
    k, n_places = state.change.sum(axis=1), state.change.shape[1]
    way_back = np.log(up[k - 1] / (n_places - k + 1)) - np.log(down[k] / k)
    log_jacobian = -split(rate, weight, u)[2]
    return Jump(new, log_posterior(model, new) - log_posterior(model, state) + way_back + log_jacobian)


def shift(model: Model, state: State, place: Int[np.ndarray, " n_chains"], to: Int[np.ndarray, " n_chains"]) -> Jump:
    """Propose to move a change to another place between its neighbours, with the ratio of equation (6).

    Parameters
    ----------
    model : Model
        Counts and priors.
    state : State
        Where the chains are. It is not changed.
    place : ndarray
        The place of the change that moves.
    to : ndarray
        Where it moves: a place strictly between its neighbours, perhaps its own, which was drawn among all of these. The
        years that it passes get the rate of the segment to which they now belong.

    Returns
    -------
    Jump
        The state with the change at its new place, and log A. Of no chains, nothing: all its arrays are then empty.

    Raises
    ------
    ValueError
        If there is no change at the place, or `to` is not between its neighbours.

    Examples
    --------
    >>> model = Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.log([0.5, 0.5]))
    >>> state = State(np.array([[False, True, False]]), np.array([[4.0, 4.0, 1.0, 1.0]]))
    >>> jump = shift(model, state, np.array([2]), np.array([3]))
    >>> print(jump.state.change, jump.state.rate, jump.log_ratio)
    [[False False  True]] [[4. 4. 4. 1.]] [-3.]
    """
    # given: the checks
    _check_change(state.change, model)
    _check_place(place, state.change)
    begin, end = neighbours(state.change, place)
    if to.shape != place.shape or not ((to > begin) & (to < end)).all():
        raise ValueError(f"to must be between the neighbours, got {to} between {begin} and {end}")
    # yours
    rows = np.arange(len(place))
    change = state.change.copy()
    change[rows, place - 1] = False
    change[rows, to - 1] = True
    rate = paint(state.rate, begin, to, state.rate[rows, place - 1])
    new = State(change, paint(rate, to, end, state.rate[rows, place]))
    return Jump(new, log_posterior(model, new) - log_posterior(model, state))


def exact_posterior(model: Model) -> tuple[Float[np.ndarray, " n_numbers"], Float[np.ndarray, " n_places"]]:
    r"""Return the exact posterior of the number of changes and of their places, equations (7), (8) and (9).

    Parameters
    ----------
    model : Model
        Counts and priors.

    Returns
    -------
    number : ndarray
        $p(k \mid y)$ for each k from 0 to K. They sum to 1, however small the evidences are.
    place : ndarray
        The probability of a change after c years, in entry c - 1, whatever the number of changes: the sum of (9) over k. They
        sum to the expected number of changes.

    Examples
    --------
    >>> number, place = exact_posterior(Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.zeros(2)))
    >>> print(number.round(4), place.round(4))
    [0.2829 0.7171] [0.0418 0.5777 0.0976]
    """
    segments, n_numbers = log_segments(model), len(model.log_prior)
    n = len(model.counts)
    forward, backward = [segments[0]], [segments[:, n]]
    for _ in range(n_numbers - 1):
        forward.append(logsumexp(forward[-1][:, None] + segments, axis=0))
        backward.append(logsumexp(segments + backward[-1], axis=1))  # pyright: ignore[reportArgumentType]
    log_joint = model.log_prior - log_choose(n - 1, np.arange(n_numbers))
    evidence = logsumexp(log_joint + [f[n] for f in forward])
    place = np.zeros(n - 1)
    for k in range(1, n_numbers):
        for i in range(k):
            place += np.exp(log_joint[k] - evidence + forward[i][1:n] + backward[k - 1 - i][1:n])
    return np.exp(log_joint + [f[n] for f in forward] - evidence), place


def step(
    model: Model, state: State, *, share: float = 0.5, rng: np.random.Generator
) -> tuple[State, Bool[np.ndarray, " n_chains"]]:
    """Move each chain once: number, places, rates.

    First each chain tries a birth with the probability b_k, a death with the probability d_k, and nothing otherwise. Then each
    chain that has a change tries to shift one of them, drawn at random, to a place drawn at random strictly between its
    neighbours. Then all rates are drawn anew.

    Parameters
    ----------
    model : Model
        Counts and priors.
    state : State
        Where the chains are. It is not changed.
    share : float
        The constant c of `move_probabilities(model.log_prior, share=share)`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where the chains are next.
    accepted : ndarray
        Whether a birth or a death of each chain was accepted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.zeros(2))
    >>> state, accepted = step(model, State(np.zeros((2000, 3), dtype=bool), np.full((2000, 4), 2.0)), rng=rng)
    >>> print(state.change.any(axis=1).mean().round(1), accepted.mean().round(1))
    0.2 0.2
    """
    # given: the check
    _check_share(share)
    # yours
    up, down = move_probabilities(model.log_prior, share=share)
    k, coin = state.change.sum(axis=1), rng.random(len(state.change))
    born = np.flatnonzero(coin < up[k])
    dead = np.flatnonzero((coin >= up[k]) & (coin < up[k] + down[k]))
    growing, shrinking = _take(state, born), _take(state, dead)
    upwards = birth(model, growing, pick(~growing.change, rng=rng), rng.random(len(born)), share=share)
    downwards = death(model, shrinking, pick(shrinking.change, rng=rng), share=share)
    state, risen = accept(state, born, upwards, rng=rng)
    state, fallen = accept(state, dead, downwards, rng=rng)
    some = np.flatnonzero(state.change.any(axis=1))
    moving = _take(state, some)
    place = pick(moving.change, rng=rng)
    begin, end = neighbours(moving.change, place)
    state, _ = accept(state, some, shift(model, moving, place, rng.integers(begin + 1, end)), rng=rng)
    accepted = np.isin(np.arange(len(k)), np.concatenate([risen, fallen]))
    return State(state.change, redraw_rates(model, state.change, rng=rng)), accepted


def sample(  # given
    model: Model,
    change: Bool[np.ndarray, "n_chains n_places"],
    n_draws: int,
    *,
    share: float = 0.5,
    rng: np.random.Generator,
) -> Changes:
    """Run a batch of independent chains: `step`, over and over.

    Parameters
    ----------
    model : Model
        Counts and priors.
    change : ndarray
        The changes to start from, after c years in column c - 1; the rates to start from are drawn by `redraw_rates`. Neither
        is recorded.
    n_draws : int
        The number of steps.
    share : float
        The constant c of `move_probabilities(model.log_prior, share=share)`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Changes
        Changes and rates after each step, and the share of steps of each chain with an accepted birth or death.

    Raises
    ------
    ValueError
        If `change` does not fit the model, or `n_draws` is below 1.

    Examples
    --------
    >>> model = Model(np.array([3, 5, 0, 1]), 1.0, 1.0, np.zeros(2))
    >>> run = sample(model, np.zeros((2000, 3), dtype=bool), 20, rng=np.random.default_rng(0))
    >>> print(run.change[:, -1].mean(axis=0).round(1))
    [0.  0.6 0.1]
    """
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
