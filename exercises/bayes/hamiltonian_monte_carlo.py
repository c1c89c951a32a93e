r"""Hamiltonian Monte Carlo: let the gradient carry the chain far away in one move.

## Idea

A random walk takes forever in many dimensions. Instead, think of a ball on a landscape that is deep where the density is
high: kick it in a random direction, let it roll for a while by the laws of mechanics, and stop. It ends far from where it
started, and since its energy is conserved, the end is as acceptable as the start. The rolling is computed in small steps;
what these do to the energy is repaired by the Metropolis coin.

## Maths

**Energy.** Give each position $q$ a momentum $p$ of the same dimension, with a mass matrix $M$, and let the total energy be

$$H(q, p) = -\log \pi(q) + \frac{1}{2} p^\top M^{-1} p. \tag{1}$$

The density $e^{-H(q, p)}$ of both is $\pi(q)$ times that of $p \sim \mathcal{N}(0, M)$: draw from it, forget $p$, and $q$
is a draw from $\pi$.

**Momentum.** It is refreshed before each move. We describe the mass by its inverse, which is to be like the covariance of
$q$: a vector with the diagonal of $M^{-1}$, or the whole of it. With $M^{-1} = L L^\top$, $L$ a lower triangle, and
$z \sim \mathcal{N}(0, I)$, solve

$$L^\top p = z, \tag{2}$$

since then $p$ has the covariance $L^{-\top} L^{-1} = (L L^\top)^{-1} = M$.

**Motion** keeps the energy: $\dot q = \partial H / \partial p = M^{-1} p$ and
$\dot p = -\partial H / \partial q = \nabla \log \pi(q)$. One *leapfrog* step of size $\varepsilon$ kicks, drifts and
kicks again:

$$p_{1/2} = p + \tfrac{\varepsilon}{2} \nabla \log \pi(q), \qquad q' = q + \varepsilon M^{-1} p_{1/2}, \qquad
p' = p_{1/2} + \tfrac{\varepsilon}{2} \nabla \log \pi(q'). \tag{3}$$

Each of the three moves one of the two by a function of the other, a shear, with Jacobian determinant 1: so volume is
preserved, for any number of steps. And it can be run back: from $(q', -p')$ the same steps lead to $(q, -p)$.

**The coin.** Turn the momentum round at the end, which changes no energy. Then the proposal is its own inverse and
preserves volume; such a one is as good as symmetric, and the Metropolis rule accepts it with probability

$$\alpha = \min\{ 1, e^{-\Delta} \}, \qquad \Delta = H(q', p') - H(q, p). \tag{4}$$

As the momentum is drawn anew anyway, nobody needs to turn it round in fact.

**When it goes wrong.** For $\pi = \mathcal{N}(0, 1 / \omega^2)$ and $M = 1$, (3) is linear, and keeps

$$p^2 + \omega^2 q^2 \Big( 1 - \frac{\varepsilon^2 \omega^2}{4} \Big) \tag{5}$$

exactly. So $\Delta$ is of order $\varepsilon^2$ and does not grow with the number of steps: as long as (5) is an ellipse,
$\varepsilon < 2 / \omega$. Beyond, the trajectory explodes. Where the curvature of $-\log \pi$ is somewhere greater than
a step size can follow, chains cannot go there, and the draws miss that place. They do not say so by themselves. Hence
every move with

$$\Delta > 1000 \quad \text{or} \quad \Delta \text{ not a number} \tag{6}$$

is called *divergent*, counted, and rejected.

**Which step size?** The ideal accepts some 80 % of the moves. *To begin with*: draw a momentum, make one leapfrog step,
and see whether $e^{-\Delta} > 1/2$. If so, double $\varepsilon$ until this no longer holds; otherwise halve it until
$e^{-\Delta} \ge 1/2$. The momentum stays the same all the while, and $\Delta$ that is no number counts as
$e^{-\Delta} = 0$.

*Then, while warming up*, move $\log \varepsilon$ by what the acceptance lacks. Dual averaging [2] does so with

$$\bar h_t = \Big( 1 - \frac{1}{t + t_0} \Big) \bar h_{t-1} + \frac{\delta - \alpha_t}{t + t_0}, \qquad
\log \varepsilon_{t} = \mu - \frac{\sqrt t}{\gamma} \bar h_t, \tag{7}$$

for $t = 1, 2, \dots$, with $\bar h_0 = 0$, the probability $\alpha_t$ of the move just made, and the desired $\delta$. It
is drawn to $\mu = \log 10 \varepsilon_0$, ten times the first guess, since large steps are cheap to try. Afterwards the
average is used, in which later values weigh more:

$$\log \bar\varepsilon_t = t^{-\kappa} \log \varepsilon_t + (1 - t^{-\kappa}) \log \bar\varepsilon_{t-1}. \tag{8}$$

Proven values are $\gamma = 0.05$, $t_0 = 10$, $\kappa = 0.75$.

**Which mass?** With $M^{-1}$ the covariance $\Sigma$ of $\pi$, the motion is that of a ball in a round bowl. From $n$
draws with sample covariance $S$ (divisor $n - 1$), take

$$\hat\Sigma = \frac{n}{n + 5} S + \frac{5}{n + 5} \cdot 10^{-3} I, \tag{9}$$

which is positive definite however few they are; or only its diagonal.

**Periods.** A ball in a round bowl comes back after a time of $2 \pi$. If all moves took that long, it would never get
anywhere. So each move has a step size of its own,

$$\varepsilon\, u, \qquad u \sim \text{uniform on } (1 - j, 1 + j). \tag{10}$$

## Worked example

*One leapfrog step* for $\pi = \mathcal{N}(0, 1)$, $M = 1$, from $q = 1$, $p = 0.5$ with $\varepsilon = 0.5$:
$p_{1/2} = 0.25$, $q' = 1.125$, $p' = -0.03125$. The energy goes from 0.625 to 0.6333, so $\alpha = 0.992$. And (5) is
$0.25 + 0.9375 = 1.1875$ before and after.

*Dual averaging* from $\varepsilon_0 = 0.1$, so $\mu = 0$, with $\delta = 0.8$: after $\alpha_1 = 0.4$ it is
$\bar h_1 = 0.4 / 11 = 0.0364$, $\log \varepsilon_1 = -0.727$, and the average is the same. After $\alpha_2 = 1$:
$\bar h_2 = 0.0333 - 0.0167 = 0.0167$, $\log \varepsilon_2 = -0.471$, $2^{-0.75} = 0.595$ and
$\log \bar\varepsilon_2 = -0.575$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `kinetic_energy` | momenta | energies | (1) |
| `draw_momentum` | how many | momenta | (2) |
| `leapfrog` | where the chains are | where they go | (3) |
| `step` | a `State` | a `Transition` | (1), (4), (6) |
| `find_step_size` | a `State` | a step size for each chain | the rule before (7) |
| `adapt_step_size` | an `Averaging`, probabilities | the next `Averaging` | (7), (8) |
| `estimate_inverse_mass` | draws | $\hat\Sigma$ or its diagonal | (9) |
| `sample` | starting positions | `Draws` | all of these, and (10) |

All chains of a batch move at once, with one number of steps and each with its own step size. Given are `velocity`, which
is $M^{-1} p$ for both forms of the mass; `gradient_at` and `log_density_at`, which return NaN for positions that are no
longer finite, and where the target does; and `begin_averaging`.

## Pitfalls

- Energies drift with the number of steps: the two halves of a kick are not where they belong.
- Draws are too narrow although almost all moves are accepted, or too wide.
- Correct with a diagonal mass, wrong with a full one.
- One chain explodes, and all are NaN.
- Everything is accepted, and nothing moves: see what comes before (10).
- The draws accept a bit more often than `target` says. That is in order: the averaged step size is better than the
  jumping ones that were averaged.
- A few divergences out of a thousand do matter. They are where the draws are missing.
- The step size is adapted on and on: the draws then have no fixed law.

## Cost

One gradient for each leapfrog step, the start's being known, and one log density a move. In $d$ dimensions the step size
has to shrink as $d^{-1/4}$ for an even acceptance, against $d^{-1}$ of the steps that a random walk needs [1].

## Go further

Experiment: on the funnel of `mlpath.bayes._targets`, count divergences for several step sizes, and plot where they begin.
A stretch goal: choose the number of steps at random, and compare.

What is not here: how long to roll. That is the question that the No-U-Turn sampler answers, with a warm-up that also
learns the mass.

## References

1. Neal (2011), MCMC using Hamiltonian dynamics, https://arxiv.org/abs/1206.1901
2. Hoffman & Gelman (2014), The No-U-Turn sampler, https://arxiv.org/abs/1111.4246
3. Betancourt (2017), A conceptual introduction to Hamiltonian Monte Carlo, https://arxiv.org/abs/1701.02434
"""

# 8 parts to write. Test them with: pytest exercises/bayes/hamiltonian_monte_carlo.py
# To be written without: blackjax, pymc, numpyro, emcee, arviz, arviz_stats

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mlpath.bayes._shared import Draws, Gradient, LogDensity, evaluate, evaluate_gradient

LIMIT = 1000.0
"""An energy error above this is a divergence."""


@dataclass(frozen=True)
class State:
    """Where the chains are, with what is known there."""

    position: Float[np.ndarray, "n_chains dim"]
    log_density: Float[np.ndarray, " n_chains"]
    gradient: Float[np.ndarray, "n_chains dim"]
    """Of the log density."""


@dataclass(frozen=True)
class Transition:
    """What a step did."""

    state: State
    """Where the chains are next."""
    probability: Float[np.ndarray, " n_chains"]
    """With which the move of each chain was accepted; 0 where it was divergent."""
    accepted: Bool[np.ndarray, " n_chains"]
    divergent: Bool[np.ndarray, " n_chains"]


@dataclass(frozen=True)
class Averaging:
    """What dual averaging remembers, one entry a chain."""

    centre: Float[np.ndarray, " n_chains"]
    r"""$\mu$ of equation (7)."""
    error: Float[np.ndarray, " n_chains"]
    r"""$\bar h$ of equation (7)."""
    log_step: Float[np.ndarray, " n_chains"]
    r"""$\log \varepsilon$: what to try next."""
    log_average: Float[np.ndarray, " n_chains"]
    r"""$\log \bar\varepsilon$: what to use in the end."""
    n_updates: int
    """$t$, so far."""


def velocity(  # given
    momentum: Float[np.ndarray, "n_chains dim"], inverse_mass: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "n_chains dim"]:
    r"""Return $M^{-1} p$ of each row.

    Parameters
    ----------
    momentum : ndarray
        One a row.
    inverse_mass : ndarray
        The diagonal of $M^{-1}$, of shape (dim,), or the whole of it, (dim, dim).

    Returns
    -------
    ndarray
        One a row.

    Examples
    --------
    >>> print(velocity(np.array([[1.0, 2.0]]), np.array([4.0, 9.0])))
    [[ 4. 18.]]
    """
    return momentum * inverse_mass if inverse_mass.ndim == 1 else momentum @ inverse_mass


def gradient_at(  # given
    gradient_fn: Gradient, position: Float[np.ndarray, "n_chains dim"]
) -> Float[np.ndarray, "n_chains dim"]:
    """Return the gradient at each row; NaN, and no call, where a row is not finite.

    Parameters
    ----------
    gradient_fn : callable
        Computes the gradient of the log density at each row.
    position : ndarray
        One a row.

    Returns
    -------
    ndarray
        One a row.

    Examples
    --------
    >>> print(gradient_at(lambda x: -x, np.array([[3.0], [np.inf]])))
    [[-3.]
     [nan]]
    """
    finite = np.isfinite(position)
    with np.errstate(all="ignore"):
        if finite.all():
            return evaluate_gradient(gradient_fn, position)
        gradient, rows = np.full(position.shape, np.nan), finite.all(axis=1)
        if rows.any():
            gradient[rows] = evaluate_gradient(gradient_fn, position[rows])
    return gradient


def log_density_at(  # given
    log_density_fn: LogDensity, position: Float[np.ndarray, "n_chains dim"]
) -> Float[np.ndarray, " n_chains"]:
    """Return the log density of each row; NaN where the target returns it, and, without a call, where a row is not finite.

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row.
    position : ndarray
        One a row.

    Returns
    -------
    ndarray
        One number a row.

    Raises
    ------
    ValueError
        If `log_density_fn` returns +inf, or another number of values than it was given rows.

    Examples
    --------
    >>> print(log_density_at(lambda x: -abs(x[:, 0]), np.array([[3.0], [np.inf]])))
    [-3. nan]
    """
    log_density, finite = np.full(len(position), np.nan), np.isfinite(position).all(axis=1)
    if finite.any():
        with np.errstate(all="ignore"):
            found = np.asarray(log_density_fn(position[finite]), dtype=np.float64)
        if found.shape != (finite.sum(),):
            raise ValueError(f"log_density_fn must return shape {(finite.sum(),)}, got {found.shape}")
        if (found == np.inf).any():
            raise ValueError(f"log_density_fn must not be +inf, got it at {position[finite][found == np.inf][0]}")
        log_density[finite] = found
    return log_density


@np.errstate(over="ignore", invalid="ignore")
def kinetic_energy(
    momentum: Float[np.ndarray, "n_chains dim"], inverse_mass: Float[np.ndarray, "..."]
) -> Float[np.ndarray, " n_chains"]:
    r"""Return the kinetic energy of each chain, the second term of equation (1).

    Parameters
    ----------
    momentum : ndarray
        One a row.
    inverse_mass : ndarray
        The diagonal of $M^{-1}$, of shape (dim,), or the whole of it, (dim, dim).

    Returns
    -------
    ndarray
        One number a chain.

    Examples
    --------
    >>> print(kinetic_energy(np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([2.0, 1.0])))
    [17.   0.5]
    """
    raise NotImplementedError("not written yet: kinetic_energy")


def draw_momentum(
    inverse_mass: Float[np.ndarray, "..."], n_chains: int, *, rng: np.random.Generator
) -> Float[np.ndarray, "n_chains dim"]:
    r"""Draw momenta from $\mathcal{N}(0, M)$, by equation (2).

    Parameters
    ----------
    inverse_mass : ndarray
        The diagonal of $M^{-1}$, of shape (dim,), or the whole of it, (dim, dim).
    n_chains : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        One a row, independent of each other.

    Raises
    ------
    ValueError
        If `inverse_mass` is no vector of positive finite numbers, and no symmetric positive definite matrix.

    Examples
    --------
    >>> momentum = draw_momentum(np.array([0.01, 100.0]), 100_000, rng=np.random.default_rng(0))
    >>> print(momentum.std(axis=0).round(1))
    [10.   0.1]
    """
    # given: the check
    _check_mass(inverse_mass)
    raise NotImplementedError("not written yet: draw_momentum")


@np.errstate(over="ignore", invalid="ignore")
def leapfrog(
    gradient_fn: Gradient,
    position: Float[np.ndarray, "n_chains dim"],
    momentum: Float[np.ndarray, "n_chains dim"],
    gradient: Float[np.ndarray, "n_chains dim"],
    *,
    step_size: Float[np.ndarray, " n_chains"],
    n_steps: int,
    inverse_mass: Float[np.ndarray, "..."],
) -> tuple[Float[np.ndarray, "n_chains dim"], Float[np.ndarray, "n_chains dim"], Float[np.ndarray, "n_chains dim"]]:
    r"""Roll all chains along by several leapfrog steps, equation (3).

    Parameters
    ----------
    gradient_fn : callable
        Computes the gradient of the log density at each row. Call it through the given `gradient_at(gradient_fn, position)`.
    position, momentum, gradient : ndarray
        Where the chains are, their momenta, and the gradient there, which need not be computed again.
    step_size : ndarray
        $\varepsilon$ of each chain; a negative one goes back in time.
    n_steps : int
        Number of steps, the same for all chains, 0 or more. The gradient is computed exactly so many times.
    inverse_mass : ndarray
        The diagonal of $M^{-1}$, of shape (dim,), or the whole of it, (dim, dim).

    Returns
    -------
    position, momentum, gradient : ndarray
        The same three at the end; the momentum is not turned round. What is no longer finite does not disturb other chains.

    Examples
    --------
    >>> start, push = np.array([[1.0]]), np.array([[0.5]])
    >>> end = leapfrog(lambda x: -x, start, push, -start, step_size=np.array([0.5]), n_steps=1, inverse_mass=np.ones(1))
    >>> print([array.item() for array in end])
    [1.125, -0.03125, -1.125]
    """
    raise NotImplementedError("not written yet: leapfrog")


def step(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    state: State,
    *,
    step_size: Float[np.ndarray, " n_chains"],
    n_steps: int,
    inverse_mass: Float[np.ndarray, "..."],
    rng: np.random.Generator,
) -> Transition:
    r"""Give each chain a new momentum, roll it along, and accept where it ends by equations (4) and (6).

    Parameters
    ----------
    log_density_fn, gradient_fn : callable
        The log density of each row, up to a constant, and its gradient.
    state : State
        Where the chains are.
    step_size : ndarray
        $\varepsilon$ of each chain.
    n_steps : int
        Number of leapfrog steps.
    inverse_mass : ndarray
        The diagonal of $M^{-1}$, of shape (dim,), or the whole of it, (dim, dim).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Transition
        The next state, in which a chain whose move was rejected stays where it is, with its log density and gradient; the
        probabilities of acceptance; who accepted, each chain by a coin of its own; and who diverged. NaN of `log_density_fn` at
        the end of a move is a divergence, and so is its -inf.

    Raises
    ------
    ValueError
        If `log_density_fn` returns +inf or another number of values than rows. Call it through the given
        `log_density_at(log_density_fn, position)`, which raises this.

    Examples
    --------
    >>> start = np.array([[2.0], [-1.0]])
    >>> state = State(start, -(start[:, 0] ** 2) / 2, -start)
    >>> move = step(
    ...     lambda x: -(x[:, 0] ** 2) / 2,
    ...     lambda x: -x,
    ...     state,
    ...     step_size=np.full(2, 0.01),
    ...     n_steps=5,
    ...     inverse_mass=np.ones(1),
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(move.accepted, move.divergent, move.probability.round(3))
    [ True  True] [False False] [1. 1.]
    """
    raise NotImplementedError("not written yet: step")


def find_step_size(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    state: State,
    *,
    inverse_mass: Float[np.ndarray, "..."],
    rng: np.random.Generator,
    first: float = 1.0,
) -> Float[np.ndarray, " n_chains"]:
    """Find for each chain a step size of which one leapfrog step is accepted about every other time, by the rule before (7).

    Parameters
    ----------
    log_density_fn, gradient_fn : callable
        The log density of each row, up to a constant, and its gradient.
    state : State
        Where the chains are.
    inverse_mass : ndarray
        The diagonal of the inverse mass, of shape (dim,), or the whole of it, (dim, dim).
    rng : numpy.random.Generator
        Source of randomness.
    first : float
        The step size to try first.

    Returns
    -------
    ndarray
        `first` times a power of two, for each chain its own.

    Raises
    ------
    ValueError
        If 100 doublings or halvings are not enough for a chain, so that the 100th would have to be followed by another, because the log density is flat, linear or not that of the
        gradient.

    Examples
    --------
    >>> start = np.full((3, 1), 1e4)
    >>> state = State(start, -(start[:, 0] ** 2) / 2, -start)
    >>> def log_density_fn(x):
    ...     return -(x[:, 0] ** 2) / 2
    >>> print(
    ...     find_step_size(
    ...         log_density_fn, lambda x: -x, state, inverse_mass=np.ones(1), rng=np.random.default_rng(0), first=0.7
    ...     )
    ... )
    [2.8 2.8 2.8]
    """
    raise NotImplementedError("not written yet: find_step_size")


def begin_averaging(step_size: Float[np.ndarray, " n_chains"]) -> Averaging:  # given
    """Return the state of dual averaging before the first update.

    Parameters
    ----------
    step_size : ndarray
        The first guess of each chain.

    Returns
    -------
    Averaging
        With this guess as the step size to try next, and as the average.

    Examples
    --------
    >>> print(begin_averaging(np.array([0.1])).centre)
    [0.]
    """
    log_step = np.log(step_size)
    return Averaging(np.log(10 * step_size), np.zeros(len(step_size)), log_step, log_step, 0)


def adapt_step_size(
    averaging: Averaging,
    probability: Float[np.ndarray, " n_chains"],
    *,
    target: float = 0.8,
    gamma: float = 0.05,
    offset: float = 10.0,
    kappa: float = 0.75,
) -> Averaging:
    r"""Learn from the acceptance of a move, equations (7) and (8).

    Parameters
    ----------
    averaging : Averaging
        What is remembered.
    probability : ndarray
        $\alpha_t$, with which the move of each chain was accepted.
    target : float
        $\delta$, the acceptance that is wanted.
    gamma, offset, kappa : float
        $\gamma$, $t_0$ and $\kappa$.

    Returns
    -------
    Averaging
        With the next step size, the next average, and one more update.

    Raises
    ------
    ValueError
        If `probability` is not between 0 and 1.

    Examples
    --------
    >>> averaging = adapt_step_size(begin_averaging(np.array([0.1])), np.array([0.4]))
    >>> averaging = adapt_step_size(averaging, np.array([1.0]))
    >>> print(averaging.log_step.round(3), averaging.log_average.round(3))
    [-0.471] [-0.575]
    """
    # given: the check
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError(f"probability must be between 0 and 1, got {probability}")
    raise NotImplementedError("not written yet: adapt_step_size")


def estimate_inverse_mass(
    draws: Float[np.ndarray, "n_chains n_draws dim"], *, dense: bool = False
) -> Float[np.ndarray, "..."]:
    """Return the inverse mass that suits some draws, equation (9).

    Parameters
    ----------
    draws : ndarray
        Of all chains, which are taken together: their mean is one, and $n$ counts all of them.
    dense : bool
        Whether to return the whole matrix, or its diagonal.

    Returns
    -------
    ndarray
        Of shape (dim,), or (dim, dim) if `dense`.

    Raises
    ------
    ValueError
        If `draws` has not three axes, has fewer than two draws, or is not finite.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(0, [1.0, 10.0], (4, 5000, 2))
    >>> print(estimate_inverse_mass(draws).round(1))
    [  1.  100.1]
    """
    # given: the check
    if draws.ndim != 3 or draws.shape[0] * draws.shape[1] < 2 or not np.isfinite(draws).all():
        raise ValueError(f"draws must be finite and of shape (n_chains, n_draws, dim), got shape {draws.shape}")
    raise NotImplementedError("not written yet: estimate_inverse_mass")


def sample(
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    n_steps: int,
    rng: np.random.Generator,
    n_warm_up: int = 500,
    step_size: float | None = None,
    inverse_mass: Float[np.ndarray, "..."] | None = None,
    target: float = 0.8,
    jitter: float = 0.2,
) -> Draws:
    r"""Warm a batch of chains up, run them, and record each of them after each step.

    Parameters
    ----------
    log_density_fn, gradient_fn : callable
        The log density of each row, up to a constant, -inf outside the support; and its gradient.
    position : ndarray
        Where the chains start, one a row, each with positive density. Not itself recorded.
    n_draws : int
        Number of recorded steps, rejected ones included.
    n_steps : int
        Number of leapfrog steps in each.
    rng : numpy.random.Generator
        Source of randomness.
    n_warm_up : int
        Number of steps before the first that is recorded. After each of them, and only of them, the step sizes are adapted.
    step_size : float, optional
        The first step size of all chains. By default `find_step_size` finds one for each.
    inverse_mass : ndarray, optional
        The diagonal of the inverse mass, of shape (dim,), or the whole of it, (dim, dim); by default ones.
    target : float
        The acceptance that `adapt_step_size` is to aim at.
    jitter : float
        $j$ of equation (10), for the steps of the warm-up and the recorded ones alike: each chain has a number of its own in each step.

    Returns
    -------
    Draws
        Its fields, to be given by these names: `draws`, of shape (n_chains, n_draws, dim), `log_density` and `divergent`, of shape
        (n_chains, n_draws), of the recorded steps; `acceptance_rate`, the share of them that each
        chain accepted; `step_size`, of each chain, before the jitter: the average of dual averaging after the last step of the warm-up, and without
        one the first step size; `inverse_mass`.

    Raises
    ------
    ValueError
        If `position` is not a matrix of finite numbers, has no density or no finite gradient, a number of steps or draws is too
        small, `step_size` or `inverse_mass` is not positive, `target` is not between 0 and 1, `jitter` not at least 0 and
        below 1, or `log_density_fn` or `gradient_fn` returns what is none.

    Examples
    --------
    >>> result = sample(
    ...     lambda x: -(x**2).sum(axis=1) / 2,
    ...     lambda x: -x,
    ...     np.zeros((100, 5)),
    ...     100,
    ...     n_steps=5,
    ...     n_warm_up=200,
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(
    ...     result.draws.shape, f"{result.draws.var():.2f} {result.acceptance_rate.mean():.1f} {result.divergent.sum()}"
    ... )
    (100, 100, 5) 1.00 0.8 0
    """
    # given: the checks, the state that the chains start in, and their first step sizes
    inverse_mass = np.ones(position.shape[-1]) if inverse_mass is None else inverse_mass
    _check_settings(n_draws, n_steps, n_warm_up, step_size, target, jitter)
    state = _begin(log_density_fn, gradient_fn, position, inverse_mass)
    averaging = begin_averaging(_first_sizes(log_density_fn, gradient_fn, state, inverse_mass, step_size, rng))
    raise NotImplementedError("not written yet: sample")


def _first_sizes(  # given
    log_density_fn: LogDensity,
    gradient_fn: Gradient,
    state: State,
    inverse_mass: np.ndarray,
    step_size: float | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the first step size of each chain: the one that was asked for, or what `find_step_size` finds."""
    if step_size is not None:
        return np.full(len(state.position), step_size)
    return find_step_size(log_density_fn, gradient_fn, state, inverse_mass=inverse_mass, rng=rng)


def _check_mass(inverse_mass: np.ndarray) -> None:  # given
    """Raise a ValueError unless the inverse mass is positive."""
    fine = inverse_mass.ndim in (1, 2) and inverse_mass.size > 0 and np.isfinite(inverse_mass).all()
    if fine and inverse_mass.ndim == 1:
        fine = (inverse_mass > 0).all()
    elif fine:
        square = inverse_mass.shape[0] == inverse_mass.shape[1]
        fine = square and np.allclose(inverse_mass, inverse_mass.T) and np.linalg.eigvalsh(inverse_mass)[0] > 0
    if not fine:
        raise ValueError(f"inverse_mass must be positive, a vector or a symmetric matrix, got {inverse_mass}")


def _check_settings(
    n_draws: int, n_steps: int, n_warm_up: int, step_size: float | None, target: float, jitter: float
) -> None:  # given
    """Raise a ValueError where a setting of `sample` makes no sense."""
    for name, number, least in (("n_draws", n_draws, 1), ("n_steps", n_steps, 1), ("n_warm_up", n_warm_up, 0)):
        if number < least:
            raise ValueError(f"{name} must be at least {least}, got {number}")
    if step_size is not None and not 0 < step_size < np.inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not 0 < target < 1:
        raise ValueError(f"target must be between 0 and 1, got {target}")
    if not 0 <= jitter < 1:
        raise ValueError(f"jitter must be at least 0 and below 1, got {jitter}")


def _begin(
    log_density_fn: LogDensity, gradient_fn: Gradient, position: np.ndarray, inverse_mass: np.ndarray
) -> State:  # given
    """Return the state in which chains start, or raise a ValueError where they cannot."""
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, dim), got {position}")
    _check_mass(inverse_mass)
    if len(inverse_mass) != position.shape[1]:
        raise ValueError(f"inverse_mass must be for {position.shape[1]} dimensions, got shape {inverse_mass.shape}")
    state = State(position, evaluate(log_density_fn, position), evaluate_gradient(gradient_fn, position))
    unusable = np.isneginf(state.log_density) | ~np.isfinite(state.gradient).all(axis=1)
    if unusable.any():
        raise ValueError(f"position must have positive density and a finite gradient, got {position[unusable][0]}")
    return state
