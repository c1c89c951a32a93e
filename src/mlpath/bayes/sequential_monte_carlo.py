r"""Sequential Monte Carlo: go from the prior to the posterior by small steps, and get the evidence.

## Idea

A Markov chain that starts in one mode may never find the other, and tells nothing of the evidence. So let a whole
population travel. It starts as draws from the prior, which is easy, and the likelihood is switched on little by little:
at each small rise some particles are favoured and copied, others die, and all of them then walk about a little, so that
copies part. How large each rise may be, the population itself tells. What it costs at each rise adds up to the evidence.

## Maths

Let $\pi_0(x)$ be the prior density, $L(x)$ the likelihood. Between prior and posterior lies a bridge, with a *temperature*
$\lambda$ (an inverse one, in physics) that rises from 0 to 1:

$$\pi_\lambda(x) = \frac{\pi_0(x)\, L(x)^\lambda}{Z_\lambda}, \qquad Z_\lambda = \int \pi_0(x)\, L(x)^\lambda\, \mathrm{d}x . \tag{1}$$

$Z_0 = 1$, and $Z_1$ is the evidence. Where $L = 0$, we take $L^0 = 1$: the prior does not know the likelihood.

**A rise.** Particles $x_i$ that are draws from $\pi_\lambda$ become draws from $\pi_{\lambda + \delta}$ by importance
weights

$$w_i \propto L(x_i)^\delta = e^{\delta \ell_i}, \qquad \ell_i = \log L(x_i), \tag{2}$$

and since $Z_{\lambda + \delta} / Z_\lambda$ is the expectation of $L^\delta$ under $\pi_\lambda$, it is estimated by
their mean before normalising,

$$\frac{\hat Z_{\lambda + \delta}}{\hat Z_\lambda} = \frac1N \sum_i e^{\delta \ell_i} . \tag{3}$$

The logarithms of these factors, summed over all rises, are that of the evidence. Resampling by the weights makes them equal
again.

**How large a rise?** One that leaves enough of the population. Let $M$ be the number of particles with $L(x_i) > 0$ (the
others are lost with any rise) and take the share of these that is effective after it,

$$s(\delta) = \frac{1}{M} \frac{\big( \sum_i e^{\delta \ell_i} \big)^2}{\sum_i e^{2 \delta \ell_i}} . \tag{4}$$

It begins with $s(0) = 1$ and falls: with $K(\delta) = \log \sum_i e^{\delta \ell_i}$, which is convex,
$\frac{\mathrm{d}}{\mathrm{d}\delta} \log s = 2 K'(\delta) - 2 K'(2 \delta) \le 0$. So halving an interval again and again
finds the $\delta$ for which

$$s(\delta) = \alpha, \tag{5}$$

unless even $s(1 - \lambda) \ge \alpha$: then the next temperature is 1, the last. This is the *adaptive* ladder of
temperatures.

**Moving.** After resampling there are copies. Any Markov kernel that leaves $\pi_{\lambda + \delta}$ invariant may move
each particle. Take random-walk Metropolis with the acceptance

$$\min \Big\{ 1,\ \frac{\pi_0(y)\, L(y)^{\lambda + \delta}}{\pi_0(x)\, L(x)^{\lambda + \delta}} \Big\}, \qquad
y = x + F z, \quad z \sim \mathcal{N}(0, I), \tag{6}$$

and let the population tell the shape of the steps, too: with its covariance $\hat\Sigma$ in $d$ dimensions,

$$F F^\top = \frac{2.38^2}{d}\, \hat\Sigma, \tag{7}$$

the best scale of a random walk for a normal target in many dimensions [3].

With fixed temperatures and steps the estimate of $Z_1$ is unbiased, as that of a particle filter. What adapts to the
population costs a bias of order $1/N$.

## Worked example

Four particles with log likelihoods $\ell = (0, -1, -2, -\infty)$; $M = 3$. With $\delta = 1$ the weights are as
$1 : 0.368 : 0.135 : 0$, their sum is 1.503, that of their squares 1.154, so $s(1) = 1.503^2 / (3 \cdot 1.154) = 0.653$.
With $\alpha = 0.9$ this is too much. Halving: $s(0.5) = 0.864$, too much; $s(0.25) = 0.961$, too little;
$s(0.375) = 0.917$; $s(0.4375) = 0.891$; and so on, to $\delta = 0.4171$. The factor (3) of this rise is
$\frac14 (1 + 0.6590 + 0.4343) = 0.5233$.

A step of (6) at $\lambda = 0.5$ from $x$ to $y$ with $\log \pi_0 = -1$ and $-2$, $\ell = -3$ and $-0.5$: the log ratio is
$(-2 - 0.25) - (-1 - 1.5) = 0.25 > 0$, and the step is taken. The prior alone would take it in 37 % of the cases.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `tempered` | log prior, log likelihood, $\lambda$ | log of the numerator | (1) |
| `share_left` | log likelihoods, $\delta$ | $s(\delta)$ | (4) |
| `next_temperature` | log likelihoods, $\lambda$, $\alpha$ | the next temperature | (5) |
| `climb` | a `Population`, $\delta$ | the resampled population, the log of the factor | (2), (3) |
| `step_factor` | positions | $F$ | (7) |
| `move` | a population, $\lambda$, $F$ | the population a step later | (6) |
| `rise_once` | a population, $\lambda$ | the population at the next temperature | all of these in turn |
| `sample` | draws from the prior | `Annealed` | rise after rise |

`normalise` and `systematic` are those of the exercise on resampling.

## Pitfalls

- Zero times minus infinity is not a number.
- The evidence is $-\infty$, or overflows, where log likelihoods are in the thousands.
- Bisection never ends, or creeps: where half of the particles are impossible, no rise leaves $\alpha N$ of them.
- The log likelihoods of before the move are used for the next rise.
- The evidence is right on average for few particles, but its logarithm is not.
- All particles are the same few: were the moves accepted at all?

## Cost

The number of rises grows as the root of the dimension for a normal target; each costs `n_moves` evaluations of prior and
likelihood for all particles at once. Memory is $O(N d)$.

## Go further

Experiment: two modes 12 standard deviations apart, of weights 0.3 and 0.7. What share of the particles ends in each, over
50 runs? And with a random walk alone? Stretch goal: reuse the particles of all temperatures, each with a weight, for a
better estimate of the evidence.

What is not here: data that come one by one (use $\prod_{s \le t} p(y_s \mid x)$ instead of $L^\lambda$), moves that adapt
their number, and waste-free SMC.

## References

1. Del Moral, Doucet & Jasra (2006), Sequential Monte Carlo samplers, https://doi.org/10.1111/j.1467-9868.2006.00553.x
2. Jasra, Stephens, Doucet & Tsagaris (2011), on adaptive temperatures, https://doi.org/10.1111/j.1467-9469.2010.00723.x
3. Roberts, Gelman & Gilks (1997), on the best scale of a random walk, https://doi.org/10.1214/aoap/1034625254
4. Neal (2001), Annealed importance sampling, https://doi.org/10.1023/A:1008923215028
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mlpath.bayes._shared import LogDensity, evaluate
from mlpath.bayes.particle_filter.resampling import normalise, systematic

HALVINGS = 60
"""How often `next_temperature` halves its interval."""


@dataclass(frozen=True)
class Population:
    """Particles, with what has been computed of them.

    Attributes
    ----------
    position : ndarray
        The particles, one a row.
    log_prior, log_likelihood : ndarray
        Of each of them.
    """

    position: Float[np.ndarray, "n_particles dim"]
    log_prior: Float[np.ndarray, " n_particles"]
    log_likelihood: Float[np.ndarray, " n_particles"]


@dataclass(frozen=True)
class Annealed:
    """What `sample` returns.

    Attributes
    ----------
    population : Population
        At the end: all weights are equal.
    log_evidence : float
        The log of the estimated evidence.
    temperatures : ndarray
        From 0 to 1, both included.
    acceptance_rate : ndarray
        After each rise, the share of the moves that were accepted.
    """

    population: Population
    log_evidence: float
    temperatures: Float[np.ndarray, " n_temperatures"]
    acceptance_rate: Float[np.ndarray, " n_rises"]


def tempered(
    log_prior: Float[np.ndarray, " n_particles"], log_likelihood: Float[np.ndarray, " n_particles"], temperature: float
) -> Float[np.ndarray, " n_particles"]:
    r"""Return the logarithm of the numerator of (1).

    Parameters
    ----------
    log_prior, log_likelihood : ndarray
        $\log \pi_0$ and $\log L$ of each particle; both may be -inf.
    temperature : float
        $\lambda$, from 0 to 1. At 0 the likelihood does not matter, not even where it is zero.

    Returns
    -------
    ndarray
        A number for each particle; -inf where the density is zero. Never NaN, and without a warning of NumPy's.

    Raises
    ------
    ValueError
        If `temperature` is not between 0 and 1.

    Examples
    --------
    >>> log_prior, log_likelihood = np.array([-1.0, -2.0, -3.0]), np.array([-4.0, -0.5, -np.inf])
    >>> print(tempered(log_prior, log_likelihood, 0.5), tempered(log_prior, log_likelihood, 0.0))
    [-3.   -2.25  -inf] [-1. -2. -3.]
    """
    # given: the check
    if not 0 <= temperature <= 1:
        raise ValueError(f"temperature must be between 0 and 1, got {temperature}")
    # yours
    return log_prior + temperature * log_likelihood if temperature > 0 else log_prior.copy()


def share_left(log_likelihood: Float[np.ndarray, " n_particles"], rise: float) -> float:
    r"""Return which share of the particles is effective after a rise of the temperature, equation (4).

    Parameters
    ----------
    log_likelihood : ndarray
        $\ell_i$, of any size; -inf for particles that are impossible, which are not counted. Not all are.
    rise : float
        $\delta$, positive or zero.

    Returns
    -------
    float
        Between 1 / M and 1. Log likelihoods of thousands do not overflow.

    Raises
    ------
    ValueError
        If `rise` is negative or not finite, or no `log_likelihood` is finite.

    Examples
    --------
    >>> log_likelihood = np.array([0.0, -1.0, -2.0, -np.inf])
    >>> print(round(share_left(log_likelihood, 1.0), 3), share_left(log_likelihood, 0.0))
    0.653 1.0
    """
    # given: the checks
    if not 0 <= rise < np.inf:
        raise ValueError(f"rise must be non-negative and finite, got {rise}")
    if not np.isfinite(log_likelihood).any():
        raise ValueError("log_likelihood must be finite for some particle, got none")
    # yours
    possible = log_likelihood[np.isfinite(log_likelihood)]
    weights = np.exp(rise * (possible - possible.max()))
    return float(weights.sum() ** 2 / (weights @ weights) / len(possible))


def next_temperature(
    log_likelihood: Float[np.ndarray, " n_particles"], temperature: float, *, ess_share: float
) -> float:
    r"""Return the temperature to which the population may rise, equation (5).

    Parameters
    ----------
    log_likelihood : ndarray
        $\ell_i$, of any size; -inf for particles that are impossible.
    temperature : float
        $\lambda$ now, at least 0 and below 1.
    ess_share : float
        $\alpha$, between 0 and 1: how much of the population should be effective after the rise.

    Returns
    -------
    float
        Exactly 1.0 if the population can rise so far; otherwise $\lambda + \delta$ with (5), to ten digits of $\delta$ or to $10^{-18}$.

    Raises
    ------
    ValueError
        If `ess_share` or `temperature` is out of range, or as `share_left`.

    Examples
    --------
    >>> log_likelihood = np.array([0.0, -1.0, -2.0, -np.inf])
    >>> print(round(next_temperature(log_likelihood, 0.25, ess_share=0.9), 4))
    0.6671
    >>> print(next_temperature(log_likelihood, 0.25, ess_share=0.5))
    1.0
    """
    # given: the checks
    if not 0 <= temperature < 1:
        raise ValueError(f"temperature must be at least 0 and below 1, got {temperature}")
    if not 0 < ess_share < 1:
        raise ValueError(f"ess_share must be between 0 and 1, got {ess_share}")
    # yours
    low, high = 0.0, 1.0 - temperature
    if share_left(log_likelihood, high) >= ess_share:
        return 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if share_left(log_likelihood, middle) >= ess_share else (low, middle)
    return temperature + high


def climb(population: Population, rise: float, *, rng: np.random.Generator) -> tuple[Population, float]:
    r"""Weigh the particles for a rise of the temperature and resample them, equations (2) and (3).

    Parameters
    ----------
    population : Population
        With equal weights. It is not changed.
    rise : float
        $\delta$, positive.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    population : Population
        As many particles, drawn by the weights with any unbiased scheme of resampling, with their own log prior and log
        likelihood.
    log_factor : float
        The log of (3); impossible particles count in $N$.

    Raises
    ------
    ValueError
        If `rise` is not positive and finite; or all particles are impossible (`normalise` raises that).

    Examples
    --------
    >>> log_likelihood = np.array([0.0, -1.0, -2.0, -np.inf])
    >>> before = Population(np.arange(4.0)[:, None], np.zeros(4), log_likelihood)
    >>> after, log_factor = climb(before, 0.4171, rng=np.random.default_rng(0))
    >>> print(round(np.exp(log_factor), 4), (after.log_likelihood == -after.position[:, 0]).all())
    0.5233 True
    """
    # given: the check
    if not 0 < rise < np.inf:
        raise ValueError(f"rise must be positive and finite, got {rise}")
    # yours
    weights, log_factor = normalise(rise * population.log_likelihood)
    chosen = systematic(weights, len(weights), rng=rng)
    return Population(
        population.position[chosen], population.log_prior[chosen], population.log_likelihood[chosen]
    ), log_factor


def step_factor(position: Float[np.ndarray, "n_particles dim"]) -> Float[np.ndarray, "dim dim"]:
    r"""Return the factor that shapes the steps, equation (7).

    Parameters
    ----------
    position : ndarray
        The particles, more of them than dimensions, which do not all lie in one plane.

    Returns
    -------
    ndarray
        A matrix $F$, for columns $z$, with (7), where $\hat\Sigma$ has the divisor $N - 1$. Any such matrix will do.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the covariance is not positive definite.

    Examples
    --------
    >>> position = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]])
    >>> factor = step_factor(position)
    >>> print((factor @ factor.T).round(4))
    [[ 3.7763  0.    ]
     [ 0.     15.1051]]
    """
    dim = position.shape[1]
    return np.linalg.cholesky(2.38**2 / dim * np.cov(position.T).reshape(dim, dim))


def move(
    log_prior_fn: LogDensity,
    log_likelihood_fn: LogDensity,
    population: Population,
    temperature: float,
    *,
    factor: Float[np.ndarray, "dim dim"],
    rng: np.random.Generator,
) -> tuple[Population, Bool[np.ndarray, " n_particles"]]:
    """Let each particle make a step of a random walk, equation (6).

    Parameters
    ----------
    log_prior_fn, log_likelihood_fn : callable
        Compute log prior and log likelihood of each row; -inf where there is none. Call them through the given
        `evaluate(function, position)`, once each.
    population : Population
        It is not changed.
    temperature : float
        At which temperature the particles are, from 0 to 1.
    factor : ndarray
        $F$, for columns: a step is $F z$.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    population : Population
        Each particle where it went, or where it stayed, with log prior and log likelihood of there.
    accepted : ndarray
        Whether each of them moved. Each has random numbers of its own.

    Raises
    ------
    ValueError
        If one of the functions returns NaN, +inf or another number of values than it was given rows.

    Examples
    --------
    >>> def log_prior(x):
    ...     return -abs(x[:, 0])
    >>> def log_likelihood(x):
    ...     return np.where(x[:, 0] > 0, 0.0, -np.inf)
    >>> start = np.full((1000, 1), 0.1)
    >>> before = Population(start, log_prior(start), log_likelihood(start))
    >>> after, accepted = move(log_prior, log_likelihood, before, 1.0, factor=np.eye(1), rng=np.random.default_rng(0))
    >>> print((after.position > 0).all(), accepted.mean().round(1))
    True 0.3
    """
    log_target = tempered(population.log_prior, population.log_likelihood, temperature)
    proposed = population.position + rng.standard_normal(population.position.shape) @ factor.T
    log_prior, log_likelihood = evaluate(log_prior_fn, proposed), evaluate(log_likelihood_fn, proposed)
    gain = tempered(log_prior, log_likelihood, temperature) - log_target
    accepted = -rng.standard_exponential(len(gain)) <= gain
    return Population(
        np.where(accepted[:, None], proposed, population.position),
        np.where(accepted, log_prior, population.log_prior),
        np.where(accepted, log_likelihood, population.log_likelihood),
    ), accepted


def rise_once(
    log_prior_fn: LogDensity,
    log_likelihood_fn: LogDensity,
    population: Population,
    temperature: float,
    *,
    ess_share: float,
    n_moves: int,
    rng: np.random.Generator,
) -> tuple[Population, float, float, float]:
    r"""Bring a population from one temperature to the next.

    Choose the next temperature by (5), climb, take the steps' factor (7) from the resampled positions, and make the moves at
    the new temperature.

    Parameters
    ----------
    log_prior_fn, log_likelihood_fn : callable
        Compute log prior and log likelihood of each row; -inf where there is none.
    population : Population
        Draws at this temperature, with equal weights. It is not changed.
    temperature : float
        $\lambda$, at least 0 and below 1.
    ess_share : float
        $\alpha$ of (5).
    n_moves : int
        Number of moves, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    population : Population
        After the moves.
    temperature : float
        The new one.
    log_factor : float
        The log of (3) for this rise.
    acceptance_rate : float
        The share of the moves that were accepted, over all moves and particles.

    Raises
    ------
    ValueError
        If `n_moves` is below 1; and as the parts.

    Examples
    --------
    >>> def log_prior(x):
    ...     return -(x[:, 0] ** 2) / 2
    >>> def log_likelihood(x):
    ...     return -((x[:, 0] - 4) ** 2) / 0.02
    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((2000, 1))
    >>> before = Population(x, log_prior(x), log_likelihood(x))
    >>> after, temperature, log_factor, rate = rise_once(
    ...     log_prior, log_likelihood, before, 0.0, ess_share=0.5, n_moves=3, rng=rng
    ... )
    >>> print(round(temperature, 4), after.position.mean().round(1), round(log_factor, 1), round(rate, 1))
    0.0029 0.9 -2.0 0.4
    """
    # given: the check
    if n_moves < 1:
        raise ValueError(f"n_moves must be at least 1, got {n_moves}")
    # yours
    new = next_temperature(population.log_likelihood, temperature, ess_share=ess_share)
    population, log_factor = climb(population, new - temperature, rng=rng)
    factor, shares = step_factor(population.position), []
    for _ in range(n_moves):
        population, accepted = move(log_prior_fn, log_likelihood_fn, population, new, factor=factor, rng=rng)
        shares.append(accepted.mean())
    return population, new, log_factor, float(np.mean(shares))


def sample(
    log_prior_fn: LogDensity,
    log_likelihood_fn: LogDensity,
    position: Float[np.ndarray, "n_particles dim"],
    *,
    ess_share: float = 0.5,
    n_moves: int = 5,
    max_rises: int = 1000,
    rng: np.random.Generator,
) -> Annealed:
    r"""Bring draws from the prior to the posterior, by one rise after the other until the temperature is 1.

    Parameters
    ----------
    log_prior_fn, log_likelihood_fn : callable
        Compute log prior and log likelihood of each row; -inf where there is none.
    position : ndarray
        Independent draws from the prior, more of them than dimensions. It is not changed.
    ess_share : float
        $\alpha$ of (5).
    n_moves : int
        Number of moves after each rise, at least 1.
    max_rises : int
        No more rises than this, which may be just enough.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Annealed
        The population at temperature 1, the log evidence, the temperatures, and the rates of acceptance: after each rise the
        mean over its moves and particles.

    Raises
    ------
    ValueError
        If `position` is no finite matrix with more rows than columns, if a draw has no prior density or none has a
        likelihood, if `n_moves` is below 1, if `ess_share` is not between 0 and 1, or if the temperature is not 1 after
        `max_rises` rises: then the message begins with "max_rises must". Also as `rise_once`.

    Examples
    --------
    >>> def log_prior(x):
    ...     return -(x[:, 0] ** 2) / 2
    >>> def log_likelihood(x):
    ...     return -((x[:, 0] - 4) ** 2) / 0.02
    >>> rng = np.random.default_rng(0)
    >>> found = sample(log_prior, log_likelihood, rng.standard_normal((2000, 1)), rng=rng)
    >>> print(found.population.position.mean().round(2), len(found.temperatures), round(found.log_evidence, 1))
    3.96 9 -10.3
    """
    # given: the checks
    if position.ndim != 2 or len(position) <= position.shape[1] or not np.isfinite(position).all():
        raise ValueError(f"position must be finite, with more rows than columns, got shape {position.shape}")
    population = Population(position, evaluate(log_prior_fn, position), evaluate(log_likelihood_fn, position))
    if np.isneginf(population.log_prior).any():
        raise ValueError("position must have prior density, got a draw without")
    # yours
    temperatures, rates, log_evidence = [0.0], [], 0.0
    while temperatures[-1] < 1:
        if len(rates) == max_rises:
            raise ValueError(f"max_rises must be enough to reach temperature 1, got {max_rises}")
        population, temperature, log_factor, rate = rise_once(
            log_prior_fn, log_likelihood_fn, population, temperatures[-1], ess_share=ess_share, n_moves=n_moves, rng=rng
        )
        temperatures.append(temperature)
        rates.append(rate)
        log_evidence += log_factor
    return Annealed(population, log_evidence, np.array(temperatures), np.array(rates))
