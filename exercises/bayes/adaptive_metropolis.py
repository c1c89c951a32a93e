r"""Adaptive Metropolis: let a random walk learn the shape of its steps, and try again where a step fails.

## Idea

A random walk in many dimensions lives or dies by the shape of its steps: too long across a narrow valley, and all are
rejected; too short along it, and it gets nowhere. Nobody knows the valley beforehand, but the chain has been there. So
let it learn from its own past: from the covariance of where it has been, or from how often its steps were taken. And if a
step is rejected, a second and smaller one may be tried at once, before the chain is made to wait.

## Maths

**The walk.** In $d$ dimensions a chain at $x$ proposes

$$y = x + F z, \qquad z \sim \mathcal{N}(0, I), \qquad \alpha(x, y) = \min \Big\{ 1,\ \frac{\pi(y)}{\pi(x)} \Big\}, \tag{1}$$

with a *factor* $F$, a $d \times d$ matrix, so that steps have the covariance $F F^\top$. The step is as likely as its way
back, for any $F$ that does not depend on where the chain is.

**Learning the covariance** (Haario, Saksman & Tamminen). For a normal target with the covariance $\Sigma$ the best steps
have the covariance $2.38^2 \Sigma / d$. Put in what the chain knows, the sample covariance $C$ of its own past, and make
it safe,

$$F F^\top = \frac{2.38^2}{d} (C + \varepsilon I). \tag{2}$$

A small $\varepsilon > 0$ keeps the steps alive in all directions, even while the past lies in a plane or is one point
many times over.

The past grows by a point at each step, and should not be summed anew each time. With mean $m_n$ and covariance $C_n$
(divisor $n - 1$; zero for a single point) of $x_1, \dots, x_n$ the next point moves the mean by a share of its distance
from it,

$$m_{n+1} = m_n + \frac{1}{n+1} \Delta, \qquad \Delta = x_{n+1} - m_n . \tag{3}$$

The sum of squares $n C_{n+1}$ about the new mean consists of that about the new mean of the old points,
$(n - 1) C_n + n (m_{n+1} - m_n)(m_{n+1} - m_n)^\top$, and that of the new point,
$(x_{n+1} - m_{n+1})(x_{n+1} - m_{n+1})^\top$:

$$n\, C_{n+1} = (n - 1)\, C_n + n\, (m_{n+1} - m_n)(m_{n+1} - m_n)^\top + (x_{n+1} - m_{n+1})(x_{n+1} - m_{n+1})^\top . \tag{4}$$

Both differences are multiples of $\Delta$; put them in and collect, and you see how much $C_{n+1}$ has of $C_n$ and of
$\Delta \Delta^\top$.

**May it?** A chain whose steps depend on its whole past is no Markov chain, and detailed balance promises nothing: to
choose a factor by where one happens to be can bend the law. It comes right in the limit if the factor changes less and
less, *diminishing adaptation*, and stays bounded [5]. In (3) and (4) the $n$-th point has a share of $1/n$, which does
that. The safe way is to stop: adapt in a warm-up, throw that away, and keep the factor. From then on (1) is an ordinary
Metropolis chain, with $\pi$ invariant.

**Learning from the acceptance** (Vihola). Variances may be infinite, or the chain may not have seen enough yet. Instead
ask for a rate: after step $n$, lengthen the factor in the direction $u = z / \|z\|$ just tried if the step was likelier
to be taken than the rate $a$ that one wants, and shorten it if not,

$$S_n S_n^\top = S_{n-1} \big( I + \eta_n (\alpha_n - a)\, u u^\top \big) S_{n-1}^\top, \tag{5}$$

$$\eta_n = \min \{ 1,\ d\, n^{-\gamma} \}, \qquad \tfrac12 < \gamma \le 1 . \tag{6}$$

Here $\alpha_n$ is the probability of (1), not whether the coin said yes: it says the same with less noise. $S_n$ is the
Cholesky factor, lower triangular with a positive diagonal, so that there is only one. Since $|\eta_n (\alpha_n - a)| < 1$
the matrix in the middle is positive definite, and as a product of two lower triangular matrices is one, too, its Cholesky
factor is all that is needed. In the long run the walk takes $a$ of its steps, whatever the target: the rate is *coerced*.

That factor can even be had column by column. In $I + c\, u u^\top$ with $|u| = 1$ take the first variable out: what is
left for the others is

$$I + c\, v v^\top - \frac{c^2 u_1^2}{1 + c u_1^2} v v^\top = I + \frac{c}{1 + c u_1^2}\, v v^\top, \qquad v = (u_2, \dots, u_d), \tag{7}$$

the same again with another $c$. So it costs $O(d^2)$ to update $S$, and not $O(d^3)$.

**Trying again** (Tierney & Mira). The first proposal $y_1$ comes from (1) with the density $q(y_1 \mid x)$ and is
rejected, with probability $1 - \alpha(x, y_1)$. Instead of staying, propose $y_2$, with $h(y_2 \mid x, y_1)$, symmetric
in $x$ and $y_2$. For detailed balance between $x$ and $y_2$ by way of the *same* $y_1$, the way back must begin with a
failed attempt from $y_2$ to $y_1$. The traffic there is

$$T(x, y_1, y_2) = \pi(x)\, q(y_1 \mid x)\, \big( 1 - \alpha(x, y_1) \big)\, h(y_2 \mid x, y_1), \tag{8}$$

and the acceptance that makes both sides equal, as in Metropolis-Hastings, is

$$\alpha_2(x, y_1, y_2) = \min \Big\{ 1,\ \frac{T(y_2, y_1, x)}{T(x, y_1, y_2)} \Big\}
= \min \Big\{ 1,\ \frac{\pi(y_2)\, \big( 1 - \alpha(y_2, y_1) \big)}{\pi(x)\, \big( 1 - \alpha(x, y_1) \big)} e^{c} \Big\}, \qquad
c = \log \frac{q(y_1 \mid y_2)}{q(y_1 \mid x)} . \tag{9}$$

If $y_1$ would surely have been taken from $y_2$, then $\alpha_2 = 0$: there is no way back. We take

$$y_1 = x + F z_1, \qquad y_2 = x + \rho F z_2 \tag{10}$$

with independent $z_1, z_2$ and a shorter second step, $\rho < 1$. The density $q(y \mid x)$ is a constant times
$\exp(-|F^{-1} (y - x)|^2 / 2)$, so that $c$ is made of $z_1$, $z_2$ and $\rho$ alone. Tierney and Mira show that a chain
with second attempts has never a greater asymptotic variance, step for step; but its steps cost up to twice as much.

## Worked example

*The past.* Three points $(0, 0)$, $(2, 0)$, $(1, 3)$. After two: $m = (1, 0)$, $C_{11} = 2$, all else zero. The third has
$\Delta = (0, 3)$, the mean becomes $(1, 1)$, and (4) says
$2 C_3 = 1 \cdot C_2 + 2 (0, 1)(0, 1)^\top + (0, 2)(0, 2)^\top$, so $C_3$ has the diagonal $(1, 3)$ and zeros beside it.
With $\varepsilon = 0$, $F$ has the diagonal $(1.683, 2.915)$.

*The acceptance.* $d = 2$, $S = I$, $z = (3, 4)$, so $u = (0.6, 0.8)$; $n = 8$ and $\gamma = 2/3$ give
$\eta = \min\{1, 2/4\} = 0.5$. A step that is sure to be taken, with $a = 0.2$, makes $c = 0.4$: $S S^\top$ has the
diagonal $(1.144, 1.256)$ and $0.192$ beside it, and $S$ has the rows $(1.0696, 0)$ and $(0.1795, 1.1062)$.

*The second attempt.* In one dimension with $F = 1$, $\rho = \tfrac12$, $\log \pi(x) = -x^2 / 2$: from $x = 1$ first to
$y_1 = 3$ ($z_1 = 2$), which has $\alpha = e^{-4} = 0.0183$. It fails; then $y_2 = 0$ ($z_2 = -2$). The way back would
begin from 0 to 3, with $\alpha = e^{-4.5} = 0.0111$ and $c = -9/2 + 4/2 = -2.5$. So
$\alpha_2 = e^{1/2} \cdot (0.9889 / 0.9817) \cdot e^{-2.5} = 0.1363$. Without the detour through 3 it would have been 1.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `step_factor` | covariances | a factor for each | (2) |
| `update_moments` | `Moments`, where the chains are | the `Moments` of one point more | (3), (4) |
| `walk` | where the chains are, their factors | a `Walked`: all about one step | (1) |
| `sample_adaptive` | starting positions | `Adapted` | (1) to (4) |
| `coerce_factor` | factors, $z$, $\alpha$, $n$ | the next factors | (5), (6) |
| `sample_robust` | starting positions | `Adapted` | (1), (5), (6) |
| `log_second_acceptance` | log densities at $x$, $y_1$, $y_2$, and $c$ | the log of the acceptance | (9) |
| `delayed_step` | where the chains are, their factors | where they are next, and by which attempt | (9), (10) |

Each chain has a factor of its own, learnt from its own past only: chains stay independent. `State(position, log_density)`
and `log_acceptance(log_density, log_density_proposed, log_correction)` are those of the exercise on
Metropolis-Hastings, the latter with zeros for a symmetric proposal. $a$ is `target_rate`, $\gamma$ is `decay`, $\rho$ is
`shrink`.

## Pitfalls

- The covariance lags a point behind, or forgets the repeats of a chain that stayed.
- Far from the origin the covariance has no correct digit, or is negative.
- The factor is transposed: the steps have the right lengths, along the wrong axes.
- The rate settles, but at another value than was asked for.
- The factor collapses: a step outside the support has probability 0, which is small but not missing.
- The second attempt is as good as the first for symmetric targets, and wrong for others.
- Logarithms of 1 minus a probability: exact zeros, and probabilities so near to 1 that nothing seems left.

## Cost

A step costs one evaluation of the batch, $O(d^2)$ a chain for proposing, and $O(d^3)$ for a Cholesky factor; that of (5)
can be had in $O(d^2)$. Haario's covariance can do with a new factor every hundred steps; here it is made anew at each. A
second attempt costs up to one more evaluation.

## Go further

Experiment: a normal target in 10 dimensions with the correlation 0.99 of neighbours. Plot the autocorrelation of a plain
random walk, of both adaptive ones, and the acceptance rates over time. Then take the Student distribution with one degree
of freedom, which has no covariance. A stretch goal: combine both halves of this exercise, delayed rejection with an
adapted factor, as in [4].

What is not here: pooling the past of all chains, adaptation that forgets the warm-up by and by, and more than two attempts.

## References

1. Haario, Saksman & Tamminen (2001), An adaptive Metropolis algorithm, https://doi.org/10.2307/3318737
2. Vihola (2012), Robust adaptive Metropolis algorithm with coerced acceptance rate, https://arxiv.org/abs/1011.4381
3. Tierney & Mira (1999), Some adaptive Monte Carlo methods for Bayesian inference, Statistics in Medicine 18, 2507-2515
4. Haario, Laine, Mira & Saksman (2006), DRAM: Efficient adaptive MCMC, https://doi.org/10.1007/s11222-006-9438-0
5. Andrieu & Thoms (2008), A tutorial on adaptive MCMC, https://doi.org/10.1007/s11222-008-9110-y
"""

# 8 parts to write. Test them with: pytest exercises/bayes/adaptive_metropolis.py
# To be written without: emcee, arviz, arviz_stats, pymc, blackjax

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mlpath.bayes._shared import LogDensity, evaluate
from mlpath.bayes.metropolis_hastings import State, log_acceptance


@dataclass(frozen=True)
class Moments:
    """What is known of the past of each chain.

    Attributes
    ----------
    count : int
        How many points there were, at least 1, in each chain.
    mean : ndarray
        Their mean.
    covariance : ndarray
        Their covariance with divisor `count` - 1; zeros for a single point.
    """

    count: int
    mean: Float[np.ndarray, "n_chains dim"]
    covariance: Float[np.ndarray, "n_chains dim dim"]


@dataclass(frozen=True)
class Walked:
    """All about one step of each chain.

    Attributes
    ----------
    state : State
        Where the chains are after it.
    proposed : State
        What was proposed, and the log density there.
    noise : ndarray
        The $z$ of each proposal.
    log_acceptance : ndarray
        The log of the probability of (1).
    accepted : ndarray
        Whether each chain moved.
    """

    state: State
    proposed: State
    noise: Float[np.ndarray, "n_chains dim"]
    log_acceptance: Float[np.ndarray, " n_chains"]
    accepted: Bool[np.ndarray, " n_chains"]


@dataclass(frozen=True)
class Adapted:
    """What an adaptive sampler returns.

    Attributes
    ----------
    draws : ndarray
        The position of each chain after each step, those of the adaptation and repeats included; not the start.
    log_density : ndarray
        The log density there.
    acceptance_rate : ndarray
        The share of the steps of each chain that were accepted.
    factor : ndarray
        The factor of each chain with which it would make its next step.
    """

    draws: Float[np.ndarray, "n_chains n_draws dim"]
    log_density: Float[np.ndarray, "n_chains n_draws"]
    acceptance_rate: Float[np.ndarray, " n_chains"]
    factor: Float[np.ndarray, "n_chains dim dim"]


def _begin(  # given: argument checks
    log_density_fn: LogDensity, position: np.ndarray, n_draws: int, factor: np.ndarray, n_adapt: int
) -> tuple[State, np.ndarray]:
    """Return the state at the start, and the factor for each chain; refuse what is no start."""
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, dim), got {position}")
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    if n_adapt < 0:
        raise ValueError(f"n_adapt must be at least 0, got {n_adapt}")
    dim = position.shape[1]
    if factor.shape != (dim, dim) or not np.isfinite(factor).all():
        raise ValueError(f"factor must be finite and have shape {(dim, dim)}, got {factor}")
    if np.triu(factor, 1).any() or not (np.diag(factor) > 0).all():
        raise ValueError(f"factor must be lower triangular with a positive diagonal, got {factor}")
    state = State(position, evaluate(log_density_fn, position))
    if np.isneginf(state.log_density).any():
        raise ValueError(f"position must have positive density, got {position[np.isneginf(state.log_density)][0]}")
    return state, np.tile(factor, (len(position), 1, 1)).astype(np.float64)


def step_factor(
    covariance: Float[np.ndarray, "n_chains dim dim"], *, epsilon: float
) -> Float[np.ndarray, "n_chains dim dim"]:
    r"""Return the factor that shapes the steps of each chain, equation (2).

    Parameters
    ----------
    covariance : ndarray
        $C$ of each chain: symmetric, with no negative eigenvalue, perhaps singular.
    epsilon : float
        $\varepsilon$, in the squared units of the positions.

    Returns
    -------
    ndarray
        $F$ of each chain, for columns $z$: lower triangular with a positive diagonal.

    Raises
    ------
    ValueError
        If `epsilon` is not positive and finite.

    Examples
    --------
    >>> covariance = np.array([[[1.0, 0.0], [0.0, 3.0]], [[4.0, 2.0], [2.0, 1.0]]])
    >>> print(step_factor(covariance, epsilon=1e-4).round(4))
    [[[1.683  0.    ]
      [0.     2.9149]]
    <BLANKLINE>
     [[3.3659 0.    ]
      [1.6829 0.0188]]]
    """
    # given: the check
    if not 0 < epsilon < np.inf:
        raise ValueError(f"epsilon must be positive and finite, got {epsilon}")
    raise NotImplementedError("not written yet: step_factor")


def update_moments(moments: Moments, position: Float[np.ndarray, "n_chains dim"]) -> Moments:
    """Return mean and covariance of the past of each chain, grown by one point, equations (3) and (4).

    Parameters
    ----------
    moments : Moments
        Of the past so far, at least one point. It is not changed.
    position : ndarray
        The next point of each chain.

    Returns
    -------
    Moments
        The same as `numpy.cov` finds from all points, but at a cost that does not grow with their number; right to many
        digits also far from the origin.

    Examples
    --------
    >>> moments = Moments(2, np.array([[1.0, 0.0]]), np.array([[[2.0, 0.0], [0.0, 0.0]]]))
    >>> moments = update_moments(moments, np.array([[1.0, 3.0]]))
    >>> print(moments.count, moments.mean, moments.covariance.tolist())
    3 [[1. 1.]] [[[1.0, 0.0], [0.0, 3.0]]]
    """
    raise NotImplementedError("not written yet: update_moments")


def walk(
    log_density_fn: LogDensity,
    state: State,
    *,
    factor: Float[np.ndarray, "n_chains dim dim"],
    rng: np.random.Generator,
) -> Walked:
    """Make one step of a random walk in each chain, equation (1).

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row; -inf outside the support. Call it once, with all proposals, through the
        given `evaluate(log_density_fn, position)`.
    state : State
        Where the chains are, each with positive density. It is not changed.
    factor : ndarray
        $F$ of each chain, for columns: its step is $F z$, with a $z$ of its own.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Walked
        The state after the step, what was proposed with the log density there, $z$, the log of the probability to
        accept it (at most 0; -inf where the proposal has no density), and whether it was accepted. A chain whose step
        is rejected stays.

    Raises
    ------
    ValueError
        If `log_density_fn` returns what is no log density (`evaluate` raises that).

    Examples
    --------
    >>> state = State(np.zeros((2, 1)), np.zeros(2))
    >>> walked = walk(lambda x: 0 * x[:, 0], state, factor=np.array([[[0.5]], [[3.0]]]), rng=np.random.default_rng(0))
    >>> print((walked.state.position / walked.noise).tolist(), walked.accepted, walked.log_acceptance)
    [[0.5], [3.0]] [ True  True] [0. 0.]
    """
    raise NotImplementedError("not written yet: walk")


def sample_adaptive(
    log_density_fn: LogDensity,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    factor: Float[np.ndarray, "dim dim"],
    n_first: int,
    n_adapt: int,
    epsilon: float = 1e-6,
    rng: np.random.Generator,
) -> Adapted:
    r"""Run random walks that learn the covariance of their steps, equations (1) to (4).

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row. Called once for the start, and once for each step, with all proposals.
    position : ndarray
        Where the chains start, one a row, each with positive density.
    n_draws : int
        Number of steps.
    factor : ndarray
        The factor of the first steps, the same for all chains: lower triangular with a positive diagonal.
    n_first, n_adapt : int
        After step $t$ (the first is step 1) the factor of each chain is renewed if `n_first` $\le t \le$ `n_adapt`, by
        (2) with the covariance of its start and the positions after the steps 1 to $t$, repeats included. So with
        `n_adapt` below `n_first` the first factor is kept for good; and with `n_adapt` = `n_draws` the adaptation never
        ends.
    epsilon : float
        $\varepsilon$.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Adapted
        The draws, their log densities, the shares of accepted steps, and the factors at the end.

    Raises
    ------
    ValueError
        If an argument is out of range: `n_first` below 1, `n_adapt` below 0, or as above; or as `walk`.

    Examples
    --------
    >>> def log_density(x):
    ...     return -(x[:, 0] ** 2 + (x[:, 1] / 100) ** 2) / 2
    >>> found = sample_adaptive(
    ...     log_density,
    ...     np.zeros((20, 2)),
    ...     3000,
    ...     factor=np.eye(2),
    ...     n_first=10,
    ...     n_adapt=2000,
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(np.median(found.factor[:, 1, 1] / found.factor[:, 0, 0]).round(-2), found.draws.shape)
    100.0 (20, 3000, 2)
    """
    # given: the checks, and what the chains start with
    if n_first < 1:
        raise ValueError(f"n_first must be at least 1, got {n_first}")
    state, factors = _begin(log_density_fn, position, n_draws, factor, n_adapt)
    raise NotImplementedError("not written yet: sample_adaptive")


def coerce_factor(
    factor: Float[np.ndarray, "n_chains dim dim"],
    noise: Float[np.ndarray, "n_chains dim"],
    acceptance: Float[np.ndarray, " n_chains"],
    n: int,
    *,
    target_rate: float,
    decay: float,
) -> Float[np.ndarray, "n_chains dim dim"]:
    r"""Return the factor after step n, equations (5) and (6).

    Parameters
    ----------
    factor : ndarray
        $S_{n-1}$ of each chain: lower triangular with a positive diagonal. It is not changed.
    noise : ndarray
        The $z$ of the step of each chain, of any length but zero.
    acceptance : ndarray
        $\alpha_n$ of each chain, a probability (not its logarithm).
    n : int
        The number of the step; the first is 1.
    target_rate, decay : float
        $a$ and $\gamma$.

    Returns
    -------
    ndarray
        $S_n$ of each chain: lower triangular with a positive diagonal.

    Raises
    ------
    ValueError
        If `n` is below 1, `target_rate` is not between 0 and 1 or `decay` is not above 0.5 and at most 1.

    Examples
    --------
    >>> eye, noise = np.eye(2)[None], np.array([[3.0, 4.0]])
    >>> print(coerce_factor(eye, noise, np.array([1.0]), 8, target_rate=0.2, decay=2 / 3).round(4))
    [[[1.0696 0.    ]
      [0.1795 1.1062]]]
    """
    # given: the checks
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 < target_rate < 1:
        raise ValueError(f"target_rate must be between 0 and 1, got {target_rate}")
    if not 0.5 < decay <= 1:
        raise ValueError(f"decay must be above 0.5 and at most 1, got {decay}")
    raise NotImplementedError("not written yet: coerce_factor")


def sample_robust(
    log_density_fn: LogDensity,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    factor: Float[np.ndarray, "dim dim"],
    n_adapt: int,
    target_rate: float = 0.234,
    decay: float = 2 / 3,
    rng: np.random.Generator,
) -> Adapted:
    r"""Run random walks that learn from the probabilities with which their steps are accepted, equations (1), (5) and (6).

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row. Called once for the start, and once for each step, with all proposals.
    position : ndarray
        Where the chains start, one a row, each with positive density.
    n_draws : int
        Number of steps.
    factor : ndarray
        $S_0$, the same for all chains: lower triangular with a positive diagonal.
    n_adapt : int
        After each of the steps 1 to `n_adapt` the factor of each chain is renewed. With 0 the first one is kept for
        good.
    target_rate, decay : float
        $a$ and $\gamma$.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Adapted
        The draws, their log densities, the shares of accepted steps, and the factors at the end.

    Raises
    ------
    ValueError
        If an argument is out of range, as in `coerce_factor` and above; or as `walk`.

    Examples
    --------
    >>> def log_density(x):
    ...     return -(x[:, 0] ** 2 + (x[:, 1] / 100) ** 2) / 2
    >>> found = sample_robust(
    ...     log_density, np.zeros((20, 2)), 3000, factor=np.eye(2), n_adapt=3000, rng=np.random.default_rng(0)
    ... )
    >>> print(np.median(found.factor[:, 1, 1] / found.factor[:, 0, 0]).round(-2), found.draws.shape)
    100.0 (20, 3000, 2)
    """
    # given: what the chains start with
    state, factors = _begin(log_density_fn, position, n_draws, factor, n_adapt)
    raise NotImplementedError("not written yet: sample_robust")


def log_second_acceptance(
    log_density: Float[np.ndarray, " n"],
    log_density_first: Float[np.ndarray, " n"],
    log_density_second: Float[np.ndarray, " n"],
    log_correction: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    r"""Return the logarithm of the probability to accept the second proposal once the first is rejected, equation (9).

    Parameters
    ----------
    log_density, log_density_first, log_density_second : ndarray
        $\log \pi$ at $x$, at $y_1$ and at $y_2$. At $x$ it is finite; the others may be -inf. Only differences matter.
    log_correction : ndarray
        $c$ of (9), finite.

    Returns
    -------
    ndarray
        $\log \alpha_2$, at most 0. It is -inf where $\pi(y_2) = 0$ or $\alpha(y_2, y_1) = 1$, and otherwise 0 where
        $\alpha(x, y_1) = 1$. Never NaN, and exact also where $\alpha$ is within 1e-16 of 1.

    Examples
    --------
    >>> x, first, second = np.array([-0.5, -2.0]), np.array([-4.5, -1e9]), np.array([0.0, -1.0])
    >>> print(np.exp(log_second_acceptance(x, first, second, np.array([-2.5, -1.5]))).round(4))
    [0.1363 0.6065]
    """
    raise NotImplementedError("not written yet: log_second_acceptance")


def delayed_step(
    log_density_fn: LogDensity,
    state: State,
    *,
    factor: Float[np.ndarray, "n_chains dim dim"],
    shrink: float,
    rng: np.random.Generator,
) -> tuple[State, Int[np.ndarray, " n_chains"]]:
    r"""Make a step in each chain with a second attempt where the first is rejected, equations (9) and (10).

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row. Called twice through `evaluate`: with the first proposals of all chains,
        then with the second proposals, of all chains or only of those that need one (if none does, not at all).
    state : State
        Where the chains are, each with positive density. It is not changed.
    factor : ndarray
        $F$ of each chain, of the first step.
    shrink : float
        $\rho$, by which the second step is shorter (longer, if above 1).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where the chains are next.
    attempt : ndarray
        1 where the first proposal was accepted, 2 where the second was, 0 where the chain stays.

    Raises
    ------
    ValueError
        If `shrink` is not positive and finite, or as `walk`.

    Examples
    --------
    >>> state = State(np.zeros((1000, 1)), np.zeros(1000))
    >>> rng, factor = np.random.default_rng(0), np.full((1000, 1, 1), 20.0)
    >>> state, attempt = delayed_step(lambda x: -(x**2)[:, 0] / 2, state, factor=factor, shrink=0.1, rng=rng)
    >>> print(np.unique(attempt), (abs(state.position[attempt == 2]) < 10).all())
    [0 1 2] True
    """
    # given: the check
    if not 0 < shrink < np.inf:
        raise ValueError(f"shrink must be positive and finite, got {shrink}")
    raise NotImplementedError("not written yet: delayed_step")
