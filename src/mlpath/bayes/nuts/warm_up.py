r"""The No-U-Turn sampler's warm-up: learn step size and mass while the chain finds its way, and then draw.

## Idea

The trajectories of the No-U-Turn sampler choose their length themselves. Two things are left: how large a step is, and in
which metric the path is straight. Both depend on the target, and are learned in a warm-up whose draws are thrown away.
The step size follows the acceptance, from step to step. The mass needs the covariance of the target, which only draws
that are good already can tell: so it is learned in windows, each twice as long as the one before, and each begins afresh
with the metric that the last one found.

## Maths

**Schedule.** The warm-up of $n$ transitions has three phases. In the first, the chain runs to where the density is; in
the second, the windows, the mass is learned; in the last the step size settles. All the while the step size is adapted.
The phases take

$$75, \quad n - 125, \quad 50 \quad \text{transitions; for } n < 150: \quad \lfloor 0.15 n \rfloor, \quad \text{the rest}, \quad \lfloor 0.1 n \rfloor. \tag{1}$$

For $n < 20$ there is no second phase, and the mass stays what it was. In a short warm-up, of fewer than 150, the whole
second phase is one window. Otherwise the first window has 25 transitions, and each has twice as many as the one before.
If from its start there are fewer than three times its length left in the second phase, so that the next would not fit
behind it, a window lasts to the end of the phase, and is the last.

**Moments in one pass.** Of draws $x_1, x_2, \dots$ we keep their number, their mean and their scatter
$S_n = \sum_{i \le n} (x_i - m_n)(x_i - m_n)^\top$. A new draw changes them by

$$m_n = m_{n - 1} + \frac{x_n - m_{n-1}}{n}, \qquad S_n = S_{n-1} + (x_n - m_{n-1})(x_n - m_n)^\top. \tag{2}$$

The second holds since moving the mean by $d = m_n - m_{n-1}$ adds $(n - 1)\, d d^\top$ to the scatter of the first
$n - 1$ draws, and the new one adds $(x_n - m_n)(x_n - m_n)^\top$, where $(n - 1)\, d = x_n - m_n$: together
$(x_n - m_n)(d + x_n - m_n)^\top$. No large numbers are subtracted from each other, as they would be if squares were
summed. For a diagonal mass, only the diagonal is kept.

**Mass.** After a window of $n$ draws, the inverse mass becomes its covariance, drawn a bit towards a small multiple of
the unit matrix,

$$M^{-1} = \frac{n}{n + 5}\, \frac{S_n}{n - 1} + \frac{5}{n + 5}\, 10^{-3}\, I, \tag{3}$$

or only the diagonal of this. It is positive definite however few the draws, and even if the chain has not moved.

**Step size.** After each transition of the warm-up, dual averaging learns from its mean acceptance,

$$\bar\alpha = \frac{1}{\text{steps}} \sum \min\{ 1, e^{-(H - H_0)} \}, \tag{4}$$

that of all points computed, discarded ones included. A step size that suits one metric does not suit another. So at the
end of a window it is guessed anew where the chain stands, by single leapfrog steps with the new mass, and dual averaging
begins again from this guess $\varepsilon_0$, with $\mu = \log 10 \varepsilon_0$ and $t = 0$. In the end the average
$\bar\varepsilon$ of dual averaging is the step size of all that follows.

**Then the draws.** From here on nothing is adapted, and the chain has the target as its fixed law.

**Divergences** are counted, in the warm-up and afterwards. In the warm-up some are to be expected, since large steps are
tried. Afterwards, each is a warning: somewhere the target is more curved than the step size can follow, and what is
missing there is missing from all averages.

## Worked example

*Schedule* for $n = 1000$: the windows lie between 75 and 950. The first, from 75 to 100, is followed by those to 150, 250
and 450. The next would have 400 transitions, three times which is 1200, but only 500 are left: so it lasts to 950. For
$n = 100$ there is one, from 15 to 90.

*Moments* of the draws $(1, 0)$, $(3, 2)$, $(2, 7)$: the means are $(1, 0)$, $(2, 1)$, $(2, 3)$. The second draw adds
$(2, 2)(1, 1)^\top$, the third $(0, 6)(0, 4)^\top$. So $S_3$ has the entries $2, 2, 2, 26$. With $n = 3$ in (3):
$M^{-1}_{22} = 0.375 \cdot 13 + 0.625 \cdot 0.001 = 4.8756$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `windows` | the length of the warm-up | where its windows begin and end | (1) |
| `observe` | `Moments`, a draw | the next `Moments` | (2) |
| `estimate` | `Moments` | the inverse mass | (3) |
| `adapt` | the `Adaptation` after a transition | the next | (2), (3), (4) |
| `warm_up` | a start | what was learned, as `Warm` | (1), all the above |
| `draw` | a system, a point | a `Record` of transitions | no adaptation |
| `sample` | the starts of all chains | a `Run` | each chain by itself |

A transition is `step` of `bayes/nuts/trajectory`, and dual averaging `begin_averaging` and `adapt_step_size` of
`bayes/hamiltonian_monte_carlo`. Given are the classes; `begin_moments`; `resized`, a system with another step size;
`first_size`, which guesses a step size; and `record`, which puts trees into arrays.

## Pitfalls

- The mass is good, and yet the trees are long: which metric was the step size learned in?
- The first draws, far from where the density is, are part of the mass.
- The moments lose all digits for a target whose mean is large.
- Windows that overlap by one transition, or leave one out.
- The steps are too small after the warm-up: see what is averaged over, and since when.
- A mass of two draws in a hundred dimensions.

## Cost

$n$ transitions of usually 3 to 63 gradients each; before the first window ends they may have up to 1023. The moments cost
$O(d)$ a draw, or $O(d^2)$ with the whole matrix, of which each window takes the roots once, in $O(d^3)$.

## Go further

Experiment: print `warm.step_size` for a target with very different scales, and see the windows. A stretch goal: learn one
mass for all chains from their draws together, which needs fewer transitions.

What is not here: a step size that changes at random, and a mass of low rank. Departures from Stan, whose schedule and
constants these are: the guess of the step size crosses an acceptance of 1/2 as in [1], not 0.8; and the first window is
extended like any other, which matters for warm-ups of 151 to 199 transitions only.

## References

1. Hoffman & Gelman (2014), The No-U-Turn sampler, https://arxiv.org/abs/1111.4246
2. Stan reference manual, MCMC sampling, https://mc-stan.org/docs/reference-manual/mcmc.html
3. Welford (1962), Note on a method for calculating corrected sums of squares and products,
   https://doi.org/10.1080/00401706.1962.10490022
4. Betancourt (2017), A conceptual introduction to Hamiltonian Monte Carlo, https://arxiv.org/abs/1701.02434
"""

import copy
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from mlpath.bayes._shared import Draws, Gradient, LogDensity
from mlpath.bayes.hamiltonian_monte_carlo import Averaging, State, adapt_step_size, begin_averaging, find_step_size
from mlpath.bayes.nuts.trajectory import Point, System, Tree, place, step


@dataclass(frozen=True)
class Moments:
    """What is kept of the draws of a window.

    Attributes
    ----------
    n : int
        How many they are.
    mean : ndarray
        Their mean, of shape (dim,); zeros where there are none.
    scatter : ndarray
        $S_n$ of equation (2), of shape (dim, dim), or its diagonal, (dim,).
    """

    n: int
    mean: Float[np.ndarray, " dim"]
    scatter: Float[np.ndarray, "..."]


@dataclass(frozen=True)
class Adaptation:
    """What a chain has learned so far, in its warm-up.

    Attributes
    ----------
    system : System
        With the step size and the inverse mass of the next transition.
    averaging : Averaging
        What dual averaging remembers, of one chain: its arrays have one entry.
    moments : Moments
        Of the draws of the present window.
    """

    system: System
    averaging: Averaging
    moments: Moments


@dataclass(frozen=True)
class Record:
    """The transitions of one chain.

    Attributes
    ----------
    draws, log_density : ndarray
        The position after each, and the log density there.
    acceptance : ndarray
        Equation (4).
    divergent : ndarray
        Whether the tree ended by a divergence.
    depth, n_steps : ndarray
        How often the tree doubled, and how many leapfrog steps it made: so many gradients it took.
    """

    draws: Float[np.ndarray, "n_draws dim"]
    log_density: Float[np.ndarray, " n_draws"]
    acceptance: Float[np.ndarray, " n_draws"]
    divergent: Bool[np.ndarray, " n_draws"]
    depth: Int[np.ndarray, " n_draws"]
    n_steps: Int[np.ndarray, " n_draws"]


@dataclass(frozen=True)
class Warm:
    """A chain after its warm-up.

    Attributes
    ----------
    system : System
        With what was learned.
    point : Point
        Where the chain is.
    record : Record
        The transitions of the warm-up.
    step_size : ndarray
        With which step size each of them was made.
    """

    system: System
    point: Point
    record: Record
    step_size: Float[np.ndarray, " n_warm_up"]


@dataclass(frozen=True, kw_only=True)
class Run(Draws):
    """What `sample` returns: `Draws`, and what trees tell besides.

    Attributes
    ----------
    depth, n_steps : ndarray
        Of the tree of each draw, as in `Record`.
    warm_up_steps, warm_up_divergent : ndarray
        How many leapfrog steps the warm-up of each chain made, and how many of its transitions were divergent.
    """

    depth: Int[np.ndarray, "n_chains n_draws"]
    n_steps: Int[np.ndarray, "n_chains n_draws"]
    warm_up_steps: Int[np.ndarray, " n_chains"]
    warm_up_divergent: Int[np.ndarray, " n_chains"]


def begin_moments(inverse_mass: Float[np.ndarray, "..."]) -> Moments:  # given
    """Return the moments of no draws.

    Parameters
    ----------
    inverse_mass : ndarray
        Of the form of that which is to be learned: (dim,) or (dim, dim).

    Returns
    -------
    Moments
        With zeros.

    Examples
    --------
    >>> print(begin_moments(np.eye(2)).scatter.shape)
    (2, 2)
    """
    return Moments(0, np.zeros(len(inverse_mass)), np.zeros(inverse_mass.shape))


def resized(system: System, step_size: float) -> "System":  # given
    """Return a system with another step size.

    Parameters
    ----------
    system : System
        What the chain rolls on.
    step_size : float
        The other one.

    Returns
    -------
    System
        A copy, of which the root of the mass is not computed again.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(2))
    >>> print(resized(system, 0.1).step_size)
    0.1
    """
    other = copy.copy(system)
    object.__setattr__(other, "step_size", step_size)
    return other


def first_size(system: System, point: Point, *, rng: np.random.Generator) -> float:  # given
    """Guess a step size where a chain stands, by single leapfrog steps with a random momentum.

    Parameters
    ----------
    system : System
        With the mass, and the step size to try first.
    point : Point
        Where the chain stands.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    float
        As `find_step_size` of `bayes/hamiltonian_monte_carlo` has it: the step size tried first times a power of two.

    Raises
    ------
    ValueError
        If `find_step_size` finds none.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.7, np.ones(1))
    >>> start = place(system, np.array([1e4]), np.zeros(1))
    >>> print(first_size(system, start, rng=np.random.default_rng(0)))
    2.8
    """
    state = State(point.position[None], np.array([point.log_density]), point.gradient[None])
    target, mass = (system.log_density_fn, system.gradient_fn), system.inverse_mass
    return find_step_size(*target, state, inverse_mass=mass, rng=rng, first=system.step_size).item()


def record(trees: list[Tree], dim: int) -> Record:  # given
    """Put what `step` returned into arrays.

    Parameters
    ----------
    trees : list of Tree
        One a transition, in their order; perhaps none.
    dim : int
        Of the positions.

    Returns
    -------
    Record
        One row, or entry, a transition.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(2))
    >>> tree = step(system, place(system, np.ones(2), np.ones(2)), rng=np.random.default_rng(0), max_depth=1)
    >>> print(record([tree, tree], 2).n_steps)
    [1 1]
    """
    return Record(
        np.array([tree.choice.position for tree in trees], dtype=float).reshape(len(trees), dim),
        np.array([tree.choice.log_density for tree in trees], dtype=float),
        np.array([tree.acceptance / tree.n_steps for tree in trees], dtype=float),
        np.array([tree.divergent for tree in trees], dtype=bool),
        np.array([tree.depth for tree in trees], dtype=int),
        np.array([tree.n_steps for tree in trees], dtype=int),
    )


def windows(n_warm_up: int) -> list[tuple[int, int]]:
    """Return the windows of a warm-up, by (1) and the rule below it.

    Parameters
    ----------
    n_warm_up : int
        Number of transitions, 0 or more.

    Returns
    -------
    list of (int, int)
        Of each window the number of its first transition, counted from 0, and that of the first behind it: each begins where the one
        before ends. Empty if there are none.

    Raises
    ------
    ValueError
        If `n_warm_up` is negative.

    Examples
    --------
    >>> windows(1000)
    [(75, 100), (100, 150), (150, 250), (250, 450), (450, 950)]
    >>> windows(100), windows(19)
    ([(15, 90)], [])
    """
    # given: the check
    if n_warm_up < 0:
        raise ValueError(f"n_warm_up must be at least 0, got {n_warm_up}")
    # yours
    if n_warm_up < 20:
        return []
    if n_warm_up < 150:
        return [(15 * n_warm_up // 100, n_warm_up - n_warm_up // 10)]
    found, start, size, stop = [], 75, 25, n_warm_up - 50
    while 3 * size <= stop - start:
        found.append((start, start + size))
        start, size = start + size, 2 * size
    return [*found, (start, stop)]


def observe(moments: Moments, position: Float[np.ndarray, " dim"]) -> Moments:
    """Take one more draw into account, equation (2).

    Parameters
    ----------
    moments : Moments
        Of the draws so far. Its arrays are not to be changed.
    position : ndarray
        The new draw.

    Returns
    -------
    Moments
        Of all of them, in the same form: `scatter` a matrix or its diagonal. They are right to nearly all digits even if the mean is 1e8 times
        the standard deviation.

    Examples
    --------
    >>> moments = begin_moments(np.eye(2))
    >>> for draw in ([1.0, 0.0], [3.0, 2.0], [2.0, 7.0]):
    ...     moments = observe(moments, np.array(draw))
    >>> print(moments.n, moments.mean, moments.scatter.tolist())
    3 [2. 3.] [[2.0, 2.0], [2.0, 26.0]]
    """
    before = position - moments.mean
    mean = moments.mean + before / (moments.n + 1)
    after = position - mean
    product = np.outer(before, after) if moments.scatter.ndim == 2 else before * after
    return Moments(moments.n + 1, mean, moments.scatter + product)


def estimate(moments: Moments) -> Float[np.ndarray, "..."]:
    """Return the inverse mass after a window, equation (3).

    Parameters
    ----------
    moments : Moments
        Of its draws.

    Returns
    -------
    ndarray
        Of the shape of `moments.scatter`.

    Raises
    ------
    ValueError
        If there are fewer than two draws.

    Examples
    --------
    >>> print(estimate(Moments(3, np.array([2.0, 3.0]), np.array([2.0, 26.0]))).round(4))
    [0.3756 4.8756]
    """
    # given: the check
    if moments.n < 2:
        raise ValueError(f"moments must be of two draws at least, got {moments.n}")
    # yours
    n, covariance = moments.n, moments.scatter / (moments.n - 1)
    unit = 1.0 if covariance.ndim == 1 else np.eye(len(covariance))
    return n / (n + 5) * covariance + 5 / (n + 5) * 1e-3 * unit


def adapt(
    state: Adaptation,
    tree: Tree,
    t: int,
    schedule: list[tuple[int, int]],
    *,
    rng: np.random.Generator,
    target: float = 0.8,
) -> Adaptation:
    """Learn from a transition of the warm-up.

    Parameters
    ----------
    state : Adaptation
        What was known before it.
    tree : Tree
        What `step` has returned.
    t : int
        The number of the transition, counted from 0.
    schedule : list of (int, int)
        The windows, as `windows` has them.
    rng : numpy.random.Generator
        Source of randomness, for `first_size`.
    target : float
        The acceptance that is wanted.

    Returns
    -------
    Adaptation
        After one update of dual averaging by (4), in any case; its next step size is that of the system, unless a window ends. If t lies in a window, the position that was
        drawn belongs to the moments. If t is the last of a window, the inverse mass of the system is that of (3), with all draws of the window; the step size is what `first_size` guesses with it where the chain is now,
        trying first the one that dual averaging has just arrived at; and both dual averaging and the moments begin again.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(2))
    >>> state = Adaptation(system, begin_averaging(np.array([0.5])), begin_moments(np.ones(2)))
    >>> tree = step(system, place(system, np.ones(2), np.ones(2)), rng=rng)
    >>> state = adapt(state, tree, 20, windows(30), rng=rng)
    >>> print(state.moments.n, state.averaging.n_updates, (state.moments.mean == tree.choice.position).all())
    1 1 True
    """
    acceptance = np.array([tree.acceptance / tree.n_steps])
    averaging = adapt_step_size(state.averaging, acceptance, target=target)
    system, moments = resized(state.system, np.exp(averaging.log_step).item()), state.moments
    for start, end in schedule:
        if start <= t < end:
            moments = observe(moments, tree.choice.position)
        if t == end - 1:
            system = replace(system, inverse_mass=estimate(moments))
            system = resized(system, first_size(system, tree.choice, rng=rng))
            averaging, moments = begin_averaging(np.array([system.step_size])), begin_moments(system.inverse_mass)
    return Adaptation(system, averaging, moments)


def warm_up(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    position: Float[np.ndarray, " dim"],
    n_warm_up: int,
    *,
    rng: np.random.Generator,
    inverse_mass: Float[np.ndarray, "..."],
    step_size: float | None = None,
    target: float = 0.8,
    max_depth: int = 10,
) -> "Warm":
    r"""Warm one chain up.

    Parameters
    ----------
    log_density_fn, gradient_fn : callable
        The log density of each row, up to a constant, and its gradient.
    position : ndarray
        Where the chain starts, of shape (dim,), with positive density.
    n_warm_up : int
        Number of transitions, 0 or more.
    rng : numpy.random.Generator
        Source of randomness.
    inverse_mass : ndarray
        The inverse mass to begin with, and the form of what is learned: (dim,) for the diagonal, (dim, dim) for the whole.
    step_size : float, optional
        The step size to begin with. By default what `first_size` guesses, trying 1 first.
    target : float
        The acceptance that `adapt` is to aim at.
    max_depth : int
        Of the trees.

    Returns
    -------
    Warm
        Of the chain after `n_warm_up` calls of `step`, each with the step size and the mass that were known by then, and followed by `adapt`. The step
        size of its system is the average $\bar\varepsilon$ of dual averaging after the last; without any transition, the first one.

    Examples
    --------
    >>> def log_density_fn(x):
    ...     return -((x / [1.0, 10.0]) ** 2).sum(axis=1) / 2
    >>> warm = warm_up(
    ...     log_density_fn,
    ...     lambda x: -x / [1.0, 100.0],
    ...     np.zeros(2),
    ...     300,
    ...     inverse_mass=np.ones(2),
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(warm.system.inverse_mass.round(-1), len(warm.record.draws))
    [  0. 100.] 300
    """
    # given: where the chain starts
    system = System(log_density_fn, gradient_fn, 1.0 if step_size is None else step_size, inverse_mass)
    point = place(system, position, np.zeros(len(position)))
    if step_size is None:
        system = resized(system, first_size(system, point, rng=rng))
    # yours
    state = Adaptation(system, begin_averaging(np.array([system.step_size])), begin_moments(inverse_mass))
    trees, sizes, schedule = [], [], windows(n_warm_up)
    for t in range(n_warm_up):
        tree = step(state.system, point, rng=rng, max_depth=max_depth)
        point = tree.choice
        trees.append(tree)
        sizes.append(state.system.step_size)
        state = adapt(state, tree, t, schedule, rng=rng, target=target)
    final = resized(state.system, np.exp(state.averaging.log_average).item())
    return Warm(final, point, record(trees, len(position)), np.array(sizes))


def draw(system: System, point: Point, n_draws: int, *, rng: np.random.Generator, max_depth: int = 10) -> Record:
    """Run one chain without adapting anything.

    Parameters
    ----------
    system : System
        With its step size and mass.
    point : Point
        Where the chain is. It is not itself recorded.
    n_draws : int
        Number of transitions.
    rng : numpy.random.Generator
        Source of randomness.
    max_depth : int
        Of the trees.

    Returns
    -------
    Record
        Of the transitions, each from where the last one led.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.9, np.ones(3))
    >>> result = draw(system, place(system, np.zeros(3), np.zeros(3)), 1000, rng=np.random.default_rng(0))
    >>> print(f"{result.draws.var():.1f}, {result.n_steps.mean():.1f} steps a draw")
    1.1, 3.8 steps a draw
    """
    trees = []
    for _ in range(n_draws):
        tree = step(system, point, rng=rng, max_depth=max_depth)
        point = tree.choice
        trees.append(tree)
    return record(trees, len(point.position))


def sample(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    rng: np.random.Generator,
    n_warm_up: int = 1000,
    inverse_mass: Float[np.ndarray, "..."] | None = None,
    step_size: float | None = None,
    target: float = 0.8,
    max_depth: int = 10,
) -> "Run":
    """Warm chains up, one after the other and each by itself, and let each of them draw.

    Parameters
    ----------
    log_density_fn, gradient_fn : callable
        The log density of each row, up to a constant, -inf outside the support; and its gradient.
    position : ndarray
        Where the chains start, one a row, each with positive density. Not itself recorded.
    n_draws : int
        Number of draws of each chain after its warm-up.
    rng : numpy.random.Generator
        Source of randomness.
    n_warm_up : int
        Number of transitions before the first draw.
    inverse_mass : ndarray, optional
        The inverse mass to begin with, and the form of what is learned: (dim,) for the diagonal, (dim, dim) for the whole. By default
        ones, of shape (dim,).
    step_size : float, optional
        The step size to begin with. By default each chain guesses its own.
    target : float
        The acceptance that is wanted in the warm-up.
    max_depth : int
        Of the trees.

    Returns
    -------
    Run
        What follows the warm-up: draws, log densities, divergences, depths and numbers of steps; `acceptance_rate`, the mean of (4) over the draws of
        each chain; `step_size`, of each chain; `inverse_mass`, of each chain along the first axis; and the totals of each warm-up.

    Raises
    ------
    ValueError
        If `position` is not a matrix of finite numbers, or a chain has no density or no finite gradient there, a number of draws or transitions is too
        small, `step_size` or `inverse_mass` is not positive, `target` is not between 0 and 1, or `log_density_fn` or
        `gradient_fn` returns what is none.

    Examples
    --------
    >>> result = sample(
    ...     lambda x: -(x**2).sum(axis=1) / 2,
    ...     lambda x: -x,
    ...     np.full((2, 5), 10.0),
    ...     300,
    ...     n_warm_up=200,
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(
    ...     result.draws.shape, f"{result.draws.var():.1f} {result.acceptance_rate.mean():.1f} {result.divergent.sum()}"
    ... )
    (2, 300, 5) 1.0 0.9 0
    """
    # given: the checks
    _check_settings(n_draws, target, max_depth)
    inverse_mass = np.ones(position.shape[-1]) if inverse_mass is None else inverse_mass
    _check_start(log_density_fn, gradient_fn, position, inverse_mass)
    # yours
    settings = {"inverse_mass": inverse_mass, "step_size": step_size, "target": target, "max_depth": max_depth}
    warm = [warm_up(log_density_fn, gradient_fn, start, n_warm_up, rng=rng, **settings) for start in position]
    records = [draw(one.system, one.point, n_draws, rng=rng, max_depth=max_depth) for one in warm]
    return Run(
        draws=np.stack([one.draws for one in records]),
        log_density=np.stack([one.log_density for one in records]),
        acceptance_rate=np.array([one.acceptance.mean() for one in records]),
        divergent=np.stack([one.divergent for one in records]),
        step_size=np.array([one.system.step_size for one in warm]),
        inverse_mass=np.stack([one.system.inverse_mass for one in warm]),
        depth=np.stack([one.depth for one in records]),
        n_steps=np.stack([one.n_steps for one in records]),
        warm_up_steps=np.array([one.record.n_steps.sum() for one in warm]),
        warm_up_divergent=np.array([one.record.divergent.sum() for one in warm]),
    )


def _check_settings(n_draws: int, target: float, max_depth: int) -> None:  # given
    """Raise a ValueError where a setting of `sample` makes no sense."""
    for name, number in (("n_draws", n_draws), ("max_depth", max_depth)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if not 0 < target < 1:
        raise ValueError(f"target must be between 0 and 1, got {target}")


def _check_start(  # given
    log_density_fn: LogDensity, gradient_fn: Gradient, position: np.ndarray, inverse_mass: np.ndarray
) -> None:
    """Raise a ValueError where chains cannot start."""
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, dim), got {position}")
    if inverse_mass.ndim == 0 or len(inverse_mass) != position.shape[1]:
        raise ValueError(f"inverse_mass must be for {position.shape[1]} dimensions, got shape {inverse_mass.shape}")
    for start in position:
        point = place(System(log_density_fn, gradient_fn, 1.0, inverse_mass), start, np.zeros(len(start)))
        if not np.isfinite(point.log_density) or not np.isfinite(point.gradient).all():
            raise ValueError(f"position must have positive density and a finite gradient, got {start}")
