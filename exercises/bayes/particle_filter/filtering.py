r"""Particle filters: follow what cannot be seen by what can.

## Idea

Something moves, and we see it only through noise: a ship by its bearings, the volatility of a market by its returns. A
*particle filter* sends out a swarm of guesses, moves each as the thing itself might move, and believes those more that
agree with what is seen. Now and then the swarm is *resampled*, so that it stays where the action is. It needs no
linearity and no normal laws, only that we can simulate a step and say how likely an observation is; and as a by-product
it estimates how likely the whole series is, without bias.

## Maths

A *state-space model* is a Markov chain $x_1, x_2, \dots$ that is not seen, with the initial density $p(x_1)$ and the
transition density $p(x_t \mid x_{t-1})$; and observations $y_t$ which depend on the state of their time alone, through
the likelihood $g_t(x_t) = p(y_t \mid x_t)$. Wanted are the *filter* $p(x_t \mid y_{1:t})$, the *smoother*
$p(x_{1:T} \mid y_{1:T})$, and the *evidence* $p(y_{1:T})$. By Bayes' theorem

$$p(x_{1:t} \mid y_{1:t}) = p(x_{1:t-1} \mid y_{1:t-1})\ \frac{p(x_t \mid x_{t-1})\, g_t(x_t)}{p(y_t \mid y_{1:t-1})} . \tag{1}$$

A *cloud* of $N$ particles $x_t^i$ with weights $w_t^i$, which sum to 1, stands for the filter: expectations become
weighted sums,

$$\mathbb{E}[f(x_t) \mid y_{1:t}] \approx \sum_i w_t^i f(x_t^i). \tag{2}$$

**Sequential importance sampling (SIS).** Draw the first particles from $p(x_1)$ and weigh them,

$$x_1^i \sim p(x_1), \qquad w_1^i \propto g_1(x_1^i), \qquad \hat p(y_1) = \frac1N \sum_i g_1(x_1^i). \tag{3}$$

Then let each move by the model itself, and multiply its weight by the likelihood of the new observation: (1) says that
this is importance sampling of the whole path with the prior as proposal.

$$x_t^i \sim p(x_t \mid x_{t-1}^i), \qquad w_t^i \propto w_{t-1}^i\, g_t(x_t^i), \qquad
\hat p(y_t \mid y_{1:t-1}) = \sum_i w_{t-1}^i\, g_t(x_t^i). \tag{4}$$

The evidence is the product of these factors. But paths that were likely yesterday are unlikely today, and the weights of
SIS degenerate exponentially fast in $t$: in the end one particle has all.

**Sequential importance resampling (SIR, the bootstrap filter).** Before a step, if the effective sample size
$1 / \sum_i (w_{t-1}^i)^2$ is below a share $\tau$ of $N$, draw ancestors in proportion to the weights, take their states,
and set

$$w_{t-1}^i = 1 / N. \tag{5}$$

Resampling is unbiased: (2) keeps its expectation. So does the product of the factors (4), for any $N$ and any $\tau$: the
estimate of the evidence is unbiased, $\mathbb{E}\, \hat p(y_{1:T}) = p(y_{1:T})$ (not its logarithm, which comes out too
low).

**The auxiliary filter.** SIR chooses ancestors before it looks at $y_t$. If the observation is precise, most of the
descendants are wasted. So look first: let $m(x_{t-1})$ be a guess where a particle will go, such as the mean of the
transition, and choose ancestors $a_i$ with the *first-stage* weights

$$\lambda^j = \frac{w_{t-1}^j\, g_t(m(x_{t-1}^j))}{\sum_k w_{t-1}^k\, g_t(m(x_{t-1}^k))} . \tag{6}$$

The descendants of $a_i$ were favoured by a factor $g_t(m(x_{t-1}^{a_i}))$, which the second-stage weights take back,

$$x_t^i \sim p(x_t \mid x_{t-1}^{a_i}), \qquad w_t^i \propto v^i = \frac{g_t(x_t^i)}{g_t(m(x_{t-1}^{a_i}))} , \tag{7}$$

$$\hat p(y_t \mid y_{1:t-1}) = \Big( \sum_k w_{t-1}^k\, g_t(m(x_{t-1}^k)) \Big) \cdot \frac1N \sum_i v^i . \tag{8}$$

Take the expectation of (8) over the descendants of ancestors drawn by (6): it is
$\sum_k w_{t-1}^k\, \mathbb{E}[g_t(x_t) \mid x_{t-1}^k]$, as for (4). The better the guess, the more equal are the $v^i$.

**Smoothing backwards.** What do later observations say about earlier states? The filter's particles have a past, but after
many resamplings all have the same one. Better: given the state that comes next, the past depends on the observations up to
now only, so that with the filter's cloud

$$p(x_t = x_t^i \mid x_{t+1}, y_{1:T}) \approx \frac{w_t^i\, p(x_{t+1} \mid x_t^i)}{\sum_j w_t^j\, p(x_{t+1} \mid x_t^j)} . \tag{9}$$

Draw the last state from the last cloud, and go back from time to time by (9): a path that is a draw from the smoother,
put together from particles of different ancestry.

## Worked example

*A step of SIS.* Three particles at $0$, $1$ and $4$ with weights $0.5$, $0.3$ and $0.2$. Let each move by exactly $+1$,
and let $g(x) = 2^{-x}$. At $1$, $2$ and $5$ the likelihoods are $\frac12$, $\frac14$ and $\frac{1}{32}$, the products
$0.25$, $0.075$ and $0.00625$, their sum, the factor of the evidence, is $0.33125$, and the new weights are $0.755$,
$0.226$ and $0.019$. The effective sample size fell from $1 / 0.38 = 2.63$ to $1.61$.

*The auxiliary filter*, with the guess $m(x) = x$ (it forgets the move): $g(m) = 1$, $\frac12$, $\frac{1}{16}$; the sum in
(8) is $0.5 + 0.15 + 0.0125 = 0.6625$. All $v^i$ are $\frac12$, whichever ancestors are drawn, since the guess is wrong by
the same factor everywhere: the new weights are equal, and (8) gives $0.33125$ again.

*One step back.* Let the two particles $0$ and $3$ have weights $0.75$ and $0.25$, and $x_{t+1} = 2$ with
$p(x_{t+1} \mid x_t)$ standard normal around $x_t$. The densities are $0.054$ and $0.242$, the products $0.0405$ and
$0.0605$: by (9) the path goes back to $3$ with probability $0.6$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `weighted_mean` | a `Cloud` | the mean of the states | (2) |
| `first_cloud` | a model, the first observation | a `Cloud` | (3) |
| `sis_step` | a model, a cloud, an observation | the next cloud | (4) |
| `sir_step` | the same, and $\tau$ | the next cloud | (5), (4) |
| `auxiliary_step` | the same, and $m$ | the next cloud | (6) to (8) |
| `run_filter` | a model, all observations, a step | a cloud for each time | a step after the other |
| `draw_backwards` | a model, the clouds | paths of states | (9) |

A model is a `StateSpace`, made of four functions that work on all particles at once. `normalise`,
`effective_sample_size`, `multinomial` and `systematic` are those of the exercise on resampling.

## Pitfalls

- The evidence is $-\infty$ after a few hundred observations although each of them is likely.
- The likelihood is counted, but the weights from before are lost; or they are kept after resampling.
- The evidence of the auxiliary filter is wrong by a factor that depends on the guess.
- States and weights are resampled separately, and no longer belong together.
- The smoother's paths all coincide at early times: that is ancestry, not (9).
- In (9) the transition is taken from the later to the earlier state.

## Cost

A step is $O(N)$ besides the model's own cost; the error of (2) falls as $1 / \sqrt N$, and with resampling it does not
grow with $t$. Drawing $M$ paths by (9) is $O(M N T)$.

## Go further

Experiment: follow Kitagawa's growth model, which the figure shows, with $N = 100$ and $N = 10{,}000$, and count by how
much the estimates of the log evidence scatter. Stretch goal: Rauch, Tung and Striebel's smoother for the linear model,
and how many particles it takes to come within 1 % of it.

What is not here: proposals other than the model's own transition (and thus the optimal one), and parameters that are
learnt, for which the unbiased evidence can stand in a Metropolis-Hastings ratio [4].

## References

1. Gordon, Salmond & Smith (1993), Novel approach to nonlinear/non-Gaussian Bayesian state estimation,
   https://doi.org/10.1049/ip-f-2.1993.0015
2. Pitt & Shephard (1999), Filtering via simulation: auxiliary particle filters,
   https://doi.org/10.1080/01621459.1999.10474153
3. Godsill, Doucet & West (2004), Monte Carlo smoothing for nonlinear time series,
   https://doi.org/10.1198/016214504000000151
4. Andrieu, Doucet & Holenstein (2010), Particle Markov chain Monte Carlo methods,
   https://doi.org/10.1111/j.1467-9868.2009.00736.x
5. Kitagawa (1996), Monte Carlo filter and smoother, https://doi.org/10.1080/10618600.1996.10474692
"""

# 7 parts to write. Test them with: pytest exercises/bayes/particle_filter/filtering.py
# To be written without: particles, filterpy, pykalman, statsmodels

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.bayes.particle_filter.resampling import effective_sample_size, multinomial, normalise, systematic

States = Float[np.ndarray, "n_particles dim"]


@dataclass(frozen=True)
class StateSpace:
    """A Markov chain that is not seen, and what is seen of it.

    Attributes
    ----------
    initial : callable
        `initial(n, rng=rng)` draws so many first states, one a row.
    transition : callable
        `transition(states, rng=rng)` draws for each row the state that follows it.
    log_transition : callable
        `log_transition(states, following)` returns for each row of `states` the log density of going from there to the
        same row of `following`, or to `following` if that has only one row.
    log_likelihood : callable
        `log_likelihood(states, observation)` returns the log density of the observation for each row.
    """

    initial: Callable[..., States]
    transition: Callable[..., States]
    log_transition: Callable[[States, States], Float[np.ndarray, " n_particles"]]
    log_likelihood: Callable[[States, Any], Float[np.ndarray, " n_particles"]]


@dataclass(frozen=True)
class Cloud:
    """Particles that stand for the filter of one time.

    Attributes
    ----------
    states : ndarray
        The particles, one a row.
    weights : ndarray
        What each counts; they sum to 1.
    log_evidence : float
        The log of the estimate of p(y_1, ..., y_t), of all observations so far.
    """

    states: Float[np.ndarray, "n_particles dim"]
    weights: Float[np.ndarray, " n_particles"]
    log_evidence: float


def weighted_mean(cloud: Cloud) -> Float[np.ndarray, " dim"]:
    """Return the mean of the states, equation (2).

    Parameters
    ----------
    cloud : Cloud
        States and weights.

    Returns
    -------
    ndarray
        The mean of each coordinate.

    Examples
    --------
    >>> weighted_mean(Cloud(np.array([[0.0, 8.0], [4.0, 0.0]]), np.array([0.75, 0.25]), 0.0))
    array([1., 6.])
    """
    raise NotImplementedError("not written yet: weighted_mean")


def first_cloud(model: StateSpace, observation: Any, n_particles: int, *, rng: np.random.Generator) -> Cloud:
    """Draw the first particles, and weigh them by the first observation, equation (3).

    Parameters
    ----------
    model : StateSpace
        The model.
    observation : object
        The first observation, as `model.log_likelihood` takes it.
    n_particles : int
        Number of particles.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Cloud
        The states as drawn, their weights, and the log of the factor in (3).

    Raises
    ------
    ValueError
        If `n_particles` is below 1; if the observation is impossible for all particles, or a log likelihood is NaN or +inf
        (`normalise` raises that).

    Examples
    --------
    >>> walk = StateSpace(
    ...     initial=lambda n, *, rng: np.arange(n)[:, None] / 1.0,
    ...     transition=lambda states, *, rng: states + 1,
    ...     log_transition=lambda states, following: -((following - states - 1) ** 2).sum(axis=1),
    ...     log_likelihood=lambda states, observation: -np.log(2) * abs(states[:, 0] - observation),
    ... )
    >>> cloud = first_cloud(walk, 2.0, 4, rng=np.random.default_rng(0))
    >>> print(cloud.weights.round(4), round(np.exp(cloud.log_evidence), 4))
    [0.1111 0.2222 0.4444 0.2222] 0.5625
    """
    # given: the check
    if n_particles < 1:
        raise ValueError(f"n_particles must be at least 1, got {n_particles}")
    raise NotImplementedError("not written yet: first_cloud")


def sis_step(model: StateSpace, cloud: Cloud, observation: Any, *, rng: np.random.Generator) -> Cloud:
    """Move each particle by the model, and multiply its weight by the new likelihood, equation (4).

    Parameters
    ----------
    model : StateSpace
        The model.
    cloud : Cloud
        The cloud of the time before. It is not changed. Some weights may be zero.
    observation : object
        The new observation.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Cloud
        The particles in the same order; the log evidence is that of `cloud` plus the log of the factor in (4).

    Raises
    ------
    ValueError
        If the observation is impossible for all particles, or a log likelihood is NaN or +inf (`normalise` raises that).

    Examples
    --------
    >>> walk = StateSpace(
    ...     initial=lambda n, *, rng: np.zeros((n, 1)),
    ...     transition=lambda states, *, rng: states + 1,
    ...     log_transition=lambda states, following: -((following - states - 1) ** 2).sum(axis=1),
    ...     log_likelihood=lambda states, observation: -np.log(2) * states[:, 0],
    ... )
    >>> cloud = Cloud(np.array([[0.0], [1.0], [4.0]]), np.array([0.5, 0.3, 0.2]), 0.0)
    >>> following = sis_step(walk, cloud, None, rng=np.random.default_rng(0))
    >>> print(following.weights.round(3), round(np.exp(following.log_evidence), 5))
    [0.755 0.226 0.019] 0.33125
    """
    raise NotImplementedError("not written yet: sis_step")


def sir_step(
    model: StateSpace, cloud: Cloud, observation: Any, *, threshold: float = 0.5, rng: np.random.Generator
) -> Cloud:
    r"""Resample if the weights are too uneven, equation (5), and make the step of (4).

    Parameters
    ----------
    model : StateSpace
        The model.
    cloud : Cloud
        The cloud of the time before. It is not changed.
    observation : object
        The new observation.
    threshold : float
        $\tau$: the cloud is resampled, by any unbiased scheme, if its effective sample size is below this share of
        the number of particles. At 0 it never is; above 1 always.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Cloud
        The next cloud, of as many particles.

    Raises
    ------
    ValueError
        If `threshold` is negative or NaN; and as `sis_step`.

    Examples
    --------
    >>> still = StateSpace(
    ...     initial=lambda n, *, rng: np.zeros((n, 1)),
    ...     transition=lambda states, *, rng: states,
    ...     log_transition=lambda states, following: np.zeros(len(states)),
    ...     log_likelihood=lambda states, observation: np.zeros(len(states)),
    ... )
    >>> cloud = Cloud(np.array([[3.0], [5.0], [7.0], [9.0]]), np.array([0.5, 0.0, 0.5, 0.0]), 0.0)
    >>> following = sir_step(still, cloud, None, threshold=0.6, rng=np.random.default_rng(0))
    >>> print(np.sort(following.states[:, 0]), following.weights)
    [3. 3. 7. 7.] [0.25 0.25 0.25 0.25]
    """
    # given: the check
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    raise NotImplementedError("not written yet: sir_step")


def auxiliary_step(
    model: StateSpace,
    cloud: Cloud,
    observation: Any,
    *,
    predict: Callable[[States], States],
    rng: np.random.Generator,
) -> Cloud:
    """Choose ancestors that promise to fit the new observation, move them, and correct the weights, (6) to (8).

    Parameters
    ----------
    model : StateSpace
        The model.
    cloud : Cloud
        The cloud of the time before. It is not changed.
    observation : object
        The new observation.
    predict : callable
        `predict(states)` returns a guess where each row goes. Where the likelihood of a guess is zero while that of the
        state itself is not, the filter is wrong: such a guess is the caller's fault.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Cloud
        The next cloud, of as many particles. Ancestors are drawn by any unbiased scheme.

    Raises
    ------
    ValueError
        If the observation is impossible for all guesses, or for all new states (`normalise` raises that).

    Examples
    --------
    >>> walk = StateSpace(
    ...     initial=lambda n, *, rng: np.zeros((n, 1)),
    ...     transition=lambda states, *, rng: states + 1,
    ...     log_transition=lambda states, following: -((following - states - 1) ** 2).sum(axis=1),
    ...     log_likelihood=lambda states, observation: -np.log(2) * states[:, 0],
    ... )
    >>> cloud = Cloud(np.array([[0.0], [1.0], [4.0]]), np.array([0.5, 0.3, 0.2]), 0.0)
    >>> following = auxiliary_step(walk, cloud, None, predict=lambda states: states, rng=np.random.default_rng(0))
    >>> print(following.weights.round(3), round(np.exp(following.log_evidence), 5))
    [0.333 0.333 0.333] 0.33125
    """
    raise NotImplementedError("not written yet: auxiliary_step")


def run_filter(
    model: StateSpace,
    observations: Sequence[Any],
    n_particles: int,
    *,
    step: Callable[..., Cloud] = sir_step,
    rng: np.random.Generator,
) -> list[Cloud]:
    """Filter a series of observations.

    Parameters
    ----------
    model : StateSpace
        The model.
    observations : sequence
        The observations of all times, one at least: a list, or an array along its first axis.
    n_particles : int
        Number of particles.
    step : callable
        Called as `step(model, cloud, observation, rng=rng)` for each observation but the first; `sis_step`, `sir_step`, or one of
        these with its settings filled in, such as `partial(auxiliary_step, predict=predict)`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of Cloud
        One for each observation, in their order. The log evidence of the last is that of the series.

    Raises
    ------
    ValueError
        If there are no `observations`; and as `first_cloud` and the step.

    Examples
    --------
    >>> walk = StateSpace(
    ...     initial=lambda n, *, rng: rng.standard_normal((n, 1)),
    ...     transition=lambda states, *, rng: states + rng.standard_normal(states.shape),
    ...     log_transition=lambda states, following: -((following - states) ** 2).sum(axis=1) / 2,
    ...     log_likelihood=lambda states, y: -((y - states[:, 0]) ** 2) / 2 - np.log(2 * np.pi) / 2,
    ... )
    >>> clouds = run_filter(walk, [0.5, 2.0, 1.5], 10_000, rng=np.random.default_rng(0))
    >>> print([weighted_mean(cloud).round(1).tolist() for cloud in clouds], round(clouds[-1].log_evidence, 1))
    [[0.3], [1.3], [1.4]] -4.7
    """
    # given: the check
    if len(observations) < 1:
        raise ValueError(f"observations must be one at least, got {observations}")
    raise NotImplementedError("not written yet: run_filter")


def draw_backwards(
    model: StateSpace, clouds: Sequence[Cloud], n_paths: int, *, rng: np.random.Generator
) -> Float[np.ndarray, "n_paths n_steps dim"]:
    """Draw paths from the smoother, from the last time back to the first, equation (9).

    Parameters
    ----------
    model : StateSpace
        The model, of which only `log_transition` is used.
    clouds : sequence of Cloud
        The filter's cloud of each time. They are not changed.
    n_paths : int
        How many paths.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        For each path its states, those of the first time first. The last states are drawn independently by the weights
        of the last cloud, and each earlier one, for each path by itself, by (9).

    Raises
    ------
    ValueError
        If there are no `clouds`, or `n_paths` is below 1; or if no particle can go where a path goes (`normalise` raises that).

    Examples
    --------
    >>> walk = StateSpace(
    ...     initial=lambda n, *, rng: np.zeros((n, 1)),
    ...     transition=lambda states, *, rng: states,
    ...     log_transition=lambda states, following: np.log(1.0 * (abs(following - states).sum(axis=1) <= 1) + 1e-300),
    ...     log_likelihood=lambda states, observation: np.zeros(len(states)),
    ... )
    >>> first = Cloud(np.array([[0.0], [3.0], [9.0]]), np.array([0.4, 0.2, 0.4]), 0.0)
    >>> last = Cloud(np.array([[1.0], [4.0]]), np.array([0.5, 0.5]), 0.0)
    >>> paths = draw_backwards(walk, [first, last], 50, rng=np.random.default_rng(0))
    >>> print(paths.shape, sorted({(start, end) for start, end in paths[:, :, 0].tolist()}))
    (50, 2, 1) [(0.0, 1.0), (3.0, 4.0)]
    """
    # given: the checks
    if len(clouds) < 1:
        raise ValueError(f"clouds must be one at least, got {clouds}")
    if n_paths < 1:
        raise ValueError(f"n_paths must be at least 1, got {n_paths}")
    raise NotImplementedError("not written yet: draw_backwards")
