r"""Approximate Bayesian computation: when you can simulate the data but not compute their likelihood.

## Idea

An epidemic is easy to simulate and its likelihood is out of reach: too many ways lead to the same numbers of the sick.
But a parameter can be judged by what it makes. Draw one from the prior, simulate with it, and keep it if what comes out
looks like what was observed. What 'looks like' means is yours to say, by a few summaries and a distance; the closer the
likeness that you demand, the better the posterior and the longer the wait.

## Maths

Parameters $\theta$ have the prior $\pi(\theta)$. The data, or a few *summaries* $s$ of them, have a density
$p(s \mid \theta)$ that one can draw from and not compute; $s^*$ was observed. Keeping what comes within the *tolerance*
$\varepsilon$ gives draws from

$$\pi_\varepsilon(\theta) \propto \pi(\theta) \int \mathbf{1} \{ d(s, s^*) \le \varepsilon \}\, p(s \mid \theta)\, \mathrm{d}s, \tag{1}$$

which is the prior for $\varepsilon \to \infty$ and the posterior given $s^*$ for $\varepsilon \to 0$. If $s$ is not
sufficient, that is still not the posterior given all the data, but a wider one.

**The distance.** Summaries have different units, so each is divided by a scale of its own,

$$d(s, s^*) = \Big( \sum_k \Big( \frac{s_k - s^*_k}{h_k} \Big)^2 \Big)^{1/2}, \tag{2}$$

and a scale that outliers do not spoil is the median distance from the median, over simulations with the prior:

$$h_k = \mathrm{median}_i\, \big| s_{ik} - \mathrm{median}_j\, s_{jk} \big| . \tag{3}$$

**Two ways to stop.** Either simulate a table of $N$ rows once and for all and keep the $n$ nearest: the tolerance is then
what it comes to. Or fix $\varepsilon$ and go on until $n$ are accepted: these are exact, independent draws of (1),
provided one takes the *first* $n$, and not the best.

**An oracle.** For $\theta \sim \mathcal{N}(0, \tau^2)$ and $s \mid \theta \sim \mathcal{N}(\theta, \sigma^2)$ the
integral in (1) is a difference of two normal distribution functions,

$$\pi_\varepsilon(\theta) \propto e^{-\theta^2 / 2 \tau^2} \Big\{ \Phi \Big( \frac{s^* + \varepsilon - \theta}{\sigma} \Big) - \Phi \Big( \frac{s^* - \varepsilon - \theta}{\sigma} \Big) \Big\}, \tag{4}$$

so that whatever approximates (1) can be checked.

**Regression adjustment** (Beaumont, Zhang & Balding). The accepted $\theta_i$ are too far apart since their $s_i$ are not
quite $s^*$. See from them how $\theta$ changes with $s$, and take that off. The nearer ones should count more;
Epanechnikov's weights fall to zero at $\delta$, the greatest distance accepted:

$$w_i \propto 1 - (d_i / \delta)^2 . \tag{5}$$

Fit, for each parameter, a line by weighted least squares, and move all points along it to $s^*$:

$$\min_{a, b} \sum_i w_i \big( \theta_i - a - b^\top (s_i - s^*) \big)^2, \qquad \theta'_i = \theta_i - b^\top (s_i - s^*) . \tag{6}$$

The adjusted points keep the weights. Where mean and spread of $\theta$ given $s$ change not otherwise than (6) says, a
huge $\varepsilon$ costs nothing.

**An epidemic.** In a school of $N$ boys $S$ are susceptible and $I$ infected. In a short time $1/m$ of a day each of the
susceptible is infected, and each of the infected recovers, with the probabilities

$$p = 1 - e^{-\beta I / (N m)}, \qquad r = 1 - e^{-\gamma / m}, \tag{7}$$

independently, so that the numbers of both are binomial, of $S$ and of $I$ as they were when the step began. The rates
$\beta$ and $\gamma$ are per day, and $\beta / \gamma$ boys are infected by the first.

**Populations** (Beaumont, Cornuet, Marin & Robert; Toni et al.). Most draws of the prior are hopeless. So lower the
tolerance step by step: pick a parameter from the population of the last step, by the weights $w_j$, jolt it with the
covariance $V$, and accept as before. Drawn is then not $\pi$ but the mixture of all jolted points, and by importance
sampling the accepted $\theta'_i$ gets

$$w'_i \propto \frac{\pi(\theta'_i)}{\sum_j w_j\, \mathcal{N}(\theta'_i;\ \theta_j, V)} . \tag{8}$$

The jolts have twice the covariance of the last population, with its weights, which sum to 1:

$$V = 2 \sum_j w_j (\theta_j - \bar\theta)(\theta_j - \bar\theta)^\top, \qquad \bar\theta = \sum_j w_j \theta_j . \tag{9}$$

That is wide enough to keep (8) from being dominated by a few.

## Worked example

*Regression.* One parameter, one summary, $s^* = 0$, four accepted: $(\theta, s) = (1, -1), (4, 0), (6, 1), (0, -2)$, with
distances $|s|$. So $\delta = 2$ and $w \propto (\tfrac34, 1, \tfrac34, 0)$. By symmetry $a$ is the weighted mean
$(0.75 + 4 + 4.5) / 2.5 = 3.7$, and $b = \tfrac34 (6 - 1) / (\tfrac34 + \tfrac34) = 2.5$. The adjusted parameters are
$(3.5, 4, 3.5, 5)$; the last has no weight.

*The epidemic.* $N = 4$, $S = 3$, $I = 1$, $\beta = 2$, $\gamma = 1$, $m = 1$: $p = 1 - e^{-0.5} = 0.393$, $r = 0.632$. So
nobody is ill after a day with the probability $0.632 \cdot 0.607^3 = 0.141$.

*Weights.* Two points, $0$ and $1$, of weights $\tfrac14$ and $\tfrac34$: $\bar\theta = \tfrac34$,
$V = 2 \cdot \tfrac{3}{16} = 0.375$. Accepted were $1$ and $2$, the prior is flat. The mixture has density
$0.25 \cdot 0.1717 + 0.75 \cdot 0.6515 = 0.5315$ at 1 and $0.25 \cdot 0.0031 + 0.75 \cdot 0.1717 = 0.1296$ at 2, so the
new weights are $(0.196, 0.804)$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `mad_scale` | simulated summaries | a scale for each | (3) |
| `keep_nearest` | a table of simulations, how many | a `Population` | (2) |
| `regression_adjust` | a `Population` | the adjusted one | (5), (6) |
| `outbreak` | rates | numbers of infected, day by day | (7) |
| `accept_first` | a `Model`, a proposal, $\varepsilon$ | a `Population` | (1), (2) |
| `importance_weights` | points, a `Population`, $V$ | weights | (8) |
| `renew` | a `Model`, a `Population`, $\varepsilon$ | the next `Population` | (8), (9) |
| `sample` | a `Model`, falling tolerances | a `Population` for each | `renew` |

`distances` (2) and `simulate`, which refuses what is no summary, are given. A `Model` says how to draw from the prior,
its log density, and how to simulate. `normalise(log_weights)` of the exercise on resampling returns weights that sum to
1, and the logarithm of their mean before. `boarding_school` has the data of an outbreak.

## Pitfalls

- The posterior is too narrow for its tolerance: were the best accepted, or the first?
- One summary decides alone.
- The simulator stops with an error, at a negative rate that no prior allows.
- It runs for ever, and nobody knows how near it came.
- The population wanders to the borders of the prior, or collapses to one point.
- The points are moved by their distance from the mean of the summaries, not from the data: they end in the wrong place.

## Cost

Simulations, and nothing else: at small $\varepsilon$ and with $k$ summaries of the order of $\varepsilon^{-k}$ for each
that is accepted. So few summaries, and regression, beat small tolerances. The weights (8) take $O(n^2)$, which is little
beside.

## Go further

Experiment: the outbreak in the boarding school, with $\beta$ uniform up to 5, $\gamma$ up to 2, and the 14 numbers as
summaries. How many boys does the first infect? Then take three summaries only: the largest number, its day, and the sum.
A stretch goal: choose each tolerance as the median distance of the last population.

What is not here: Markov chains with simulations, summaries that a network learns, and synthetic likelihoods.

## References

1. Beaumont, Zhang & Balding (2002), Approximate Bayesian computation in population genetics,
   https://doi.org/10.1093/genetics/162.4.2025
2. Beaumont, Cornuet, Marin & Robert (2009), Adaptive approximate Bayesian computation, https://arxiv.org/abs/0805.2256
3. Toni, Welch, Strelkowa, Ipsen & Stumpf (2009), on sequential Monte Carlo for dynamical systems,
   https://doi.org/10.1098/rsif.2008.0172
4. Anonymous (1978), Influenza in a boarding school, British Medical Journal 1, 587
"""

# 8 parts to write. Test them with: pytest exercises/bayes/approximate_bayes.py
# To be written without: pyabc, abcpy, elfi, sbi, pymc

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mlpath.bayes._shared import LogDensity, evaluate
from mlpath.bayes.particle_filter.resampling import normalise


@dataclass(frozen=True)
class Model:
    """A prior and a simulator.

    Attributes
    ----------
    draw_prior : callable
        `draw_prior(n, rng=rng)` returns so many draws of the prior, one a row.
    log_prior : callable
        `log_prior(theta)` returns the log density of each row, up to a constant; -inf where the prior has none.
        Call it through the given `evaluate(model.log_prior, theta)`, which refuses NaN.
    simulate : callable
        `simulate(theta, rng=rng)` returns the summaries of one simulation for each row, of shape (n, n_summaries). It
        may fail where the prior has no density. Call it through the given `simulate(model, theta, ...)`.
    """

    draw_prior: Callable[..., Float[np.ndarray, "n dim"]]
    log_prior: LogDensity
    simulate: Callable[..., np.ndarray]


@dataclass(frozen=True)
class Population:
    """Accepted parameters.

    Attributes
    ----------
    theta : ndarray
        The parameters, one a row.
    summaries : ndarray
        What was simulated with each.
    distance : ndarray
        How far that is from what was observed.
    weights : ndarray
        Of each; they sum to 1.
    n_proposals : int
        How many proposals it took.
    """

    theta: Float[np.ndarray, "n dim"]
    summaries: Float[np.ndarray, "n n_summaries"]
    distance: Float[np.ndarray, " n"]
    weights: Float[np.ndarray, " n"]
    n_proposals: int


def boarding_school() -> Int[np.ndarray, " n_days"]:  # given
    """Return how many of 763 boys of an English boarding school were in bed with influenza, from 22 January 1978 on.

    From the figure in [4], as read by those who made the R package outbreaks. The epidemic is said to have begun with
    one boy.

    Returns
    -------
    ndarray
        The numbers of 14 days.

    Examples
    --------
    >>> print(boarding_school()[:5], boarding_school().max())
    [  3   8  26  76 225] 298
    """
    return np.array([3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4])


def distances(  # given
    summaries: Float[np.ndarray, "n n_summaries"],
    observed: Float[np.ndarray, " n_summaries"],
    scale: Float[np.ndarray, " n_summaries"],
) -> Float[np.ndarray, " n"]:
    """Return how far each row is from what was observed, equation (2).

    Parameters
    ----------
    summaries : ndarray
        Simulated ones, one simulation a row.
    observed, scale : ndarray
        $s^*$ and $h$.

    Returns
    -------
    ndarray
        A distance for each row.

    Raises
    ------
    ValueError
        If `observed` or `scale` has another shape than a row, or they are not finite, or `scale` is not positive.

    Examples
    --------
    >>> print(distances(np.array([[1.0, 30.0], [4.0, 0.0]]), np.array([1.0, 0.0]), np.array([1.0, 10.0])))
    [3. 3.]
    """
    if observed.shape != summaries.shape[1:] or not np.isfinite(observed).all():
        raise ValueError(f"observed must be finite and have shape {summaries.shape[1:]}, got {observed}")
    if scale.shape != observed.shape or not ((scale > 0) & (scale < np.inf)).all():
        raise ValueError(f"scale must be positive and finite, one for each summary, got {scale}")
    return np.sqrt((((summaries - observed) / scale) ** 2).sum(axis=1))


def simulate(  # given
    model: Model, theta: Float[np.ndarray, "n dim"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n n_summaries"]:
    """Return the summaries of a simulation for each row.

    Parameters
    ----------
    model : Model
        Whose simulator is called.
    theta : ndarray
        Parameters, one a row.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        In float64.

    Raises
    ------
    ValueError
        If the simulator returns another shape, NaN or an infinity.

    Examples
    --------
    >>> model = Model(None, None, lambda theta, rng: 2 * theta)
    >>> print(simulate(model, np.array([[1.0], [3.0]]), rng=np.random.default_rng(0)).tolist())
    [[2.0], [6.0]]
    """
    summaries = np.asarray(model.simulate(theta, rng=rng), dtype=np.float64)
    if summaries.ndim != 2 or len(summaries) != len(theta):
        raise ValueError(f"model must simulate summaries of shape ({len(theta)}, n_summaries), got {summaries.shape}")
    if not np.isfinite(summaries).all():
        row = np.flatnonzero(~np.isfinite(summaries).all(axis=1))[0]
        raise ValueError(f"model must simulate finite summaries, at {theta[row]} got {summaries[row]}")
    return summaries


def out_of_reach(tolerance: float, n_accepted: int, n_proposals: int, nearest: float) -> ValueError:  # given
    """Return the error that says how near the proposals came; raise it where there may be no more.

    Parameters
    ----------
    tolerance : float
        That was asked for.
    n_accepted, n_proposals : int
        How many were accepted, and of how many.
    nearest : float
        The smallest distance of all.

    Returns
    -------
    ValueError
        To be raised.

    Examples
    --------
    >>> print(out_of_reach(0.1, 2, 100, 0.05))
    tolerance must be in reach: 2 of 100 proposals were accepted, the nearest is at a distance of 0.05, got 0.1
    """
    return ValueError(
        f"tolerance must be in reach: {n_accepted} of {n_proposals} proposals were accepted, the nearest is at a distance of "
        f"{nearest:.4g}, got {tolerance}"
    )


def _check_wishes(n: int, tolerance: float) -> None:  # given: argument checks
    """Refuse to accept nothing, or with no tolerance."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 < tolerance < np.inf:
        raise ValueError(f"tolerance must be positive and finite, got {tolerance}")


def mad_scale(summaries: Float[np.ndarray, "n n_summaries"]) -> Float[np.ndarray, " n_summaries"]:
    """Return a scale for each summary, equation (3).

    Parameters
    ----------
    summaries : ndarray
        Simulated summaries, one simulation a row.

    Returns
    -------
    ndarray
        The median distance from the median, of each column, without any factor. Outliers, even huge ones, hardly
        matter.

    Raises
    ------
    ValueError
        If `summaries` is not a matrix of finite numbers, or a scale is zero, as more than half of a column is the same.

    Examples
    --------
    >>> print(mad_scale(np.array([[1.0, 0.0], [2.0, 50.0], [4.0, 10.0], [9.0, 30.0], [1e9, 20.0]])))
    [ 3. 10.]
    """
    # given: the check
    if summaries.ndim != 2 or not len(summaries) or not np.isfinite(summaries).all():
        raise ValueError(f"summaries must be a matrix of finite numbers, got {summaries}")
    raise NotImplementedError("not written yet: mad_scale")


def keep_nearest(
    theta: Float[np.ndarray, "n_rows dim"],
    summaries: Float[np.ndarray, "n_rows n_summaries"],
    observed: Float[np.ndarray, " n_summaries"],
    n_kept: int,
    *,
    scale: Float[np.ndarray, " n_summaries"],
) -> Population:
    """Keep the rows of a table of simulations that are nearest to what was observed.

    Parameters
    ----------
    theta, summaries : ndarray
        Draws of the prior, and what was simulated with each.
    observed : ndarray
        $s^*$.
    n_kept : int
        How many to keep.
    scale : ndarray
        $h$ of each summary.

    Returns
    -------
    Population
        The nearest rows by the given `distances`, nearest first, with equal weights. The number of proposals is that of
        rows of the table. Of rows at equal distances, any may come first.

    Raises
    ------
    ValueError
        If `n_kept` is below 1 or above the number of rows, or as `distances`.

    Examples
    --------
    >>> theta, summaries = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[9.0], [4.5], [5.2], [0.0]])
    >>> found = keep_nearest(theta, summaries, np.array([5.0]), 2, scale=np.array([0.1]))
    >>> print(found.theta[:, 0], found.distance.round(6), found.weights, found.n_proposals)
    [3. 2.] [2. 5.] [0.5 0.5] 4
    """
    # given: the check
    if not 1 <= n_kept <= len(theta):
        raise ValueError(f"n_kept must be between 1 and {len(theta)}, got {n_kept}")
    raise NotImplementedError("not written yet: keep_nearest")


def regression_adjust(population: Population, observed: Float[np.ndarray, " n_summaries"]) -> Population:
    r"""Move the parameters to where they would be had their summaries been observed, equations (5) and (6).

    Parameters
    ----------
    population : Population
        Accepted parameters; their weights are not looked at. It is not changed.
    observed : ndarray
        $s^*$.

    Returns
    -------
    Population
        With $\theta'$, and with the weights of (5), which sum to 1; all else as it was.

    Raises
    ------
    ValueError
        If `observed` has not one number for each summary, if `population` has not at least two rows more than
        summaries, or all its distances are equal: then (5) has no weights.

    Examples
    --------
    >>> theta, summaries = np.array([[1.0], [4.0], [6.0], [0.0]]), np.array([[-1.0], [0.0], [1.0], [-2.0]])
    >>> found = keep_nearest(theta, summaries, np.zeros(1), 4, scale=np.ones(1))
    >>> adjusted = regression_adjust(found, np.zeros(1))
    >>> print(np.sort(adjusted.theta[:, 0]).round(4), np.sort(adjusted.weights))
    [3.5 3.5 4.  5. ] [0.  0.3 0.3 0.4]
    """
    # given: the checks
    n, n_summaries = population.summaries.shape
    if observed.shape != (n_summaries,):
        raise ValueError(f"observed must have shape {(n_summaries,)}, got {observed.shape}")
    if n < n_summaries + 2:
        raise ValueError(f"population must have at least {n_summaries + 2} rows, got {n}")
    if not population.distance.max() > population.distance.min():
        raise ValueError(f"population must have distances that differ, got only {population.distance.max()}")
    raise NotImplementedError("not written yet: regression_adjust")


def outbreak(
    rates: Float[np.ndarray, "n 2"],
    *,
    n_days: int,
    n_people: int,
    n_infected: int = 1,
    n_steps: int = 4,
    rng: np.random.Generator,
) -> Int[np.ndarray, "n n_days"]:
    r"""Simulate epidemics in a closed population, equation (7).

    Parameters
    ----------
    rates : ndarray
        $\beta$ and $\gamma$ of each simulation, one simulation a row.
    n_days : int
        For how many days.
    n_people, n_infected : int
        How many people there are ($N$), and how many of them are infected at the beginning. All others are susceptible
        then.
    n_steps : int
        $m$, the number of steps a day.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        $I$ at the end of each day, for each simulation: whole numbers. The beginning is not included.

    Raises
    ------
    ValueError
        If `rates` are not two non-negative finite numbers a row, `n_infected` is not from 0 to `n_people`, or another
        number is below 1.

    Examples
    --------
    >>> found = outbreak(np.array([[1.7, 0.45], [0.0, 1e9]]), n_days=14, n_people=763, rng=np.random.default_rng(1))
    >>> print(found.shape, found[1])
    (2, 14) [0 0 0 0 0 0 0 0 0 0 0 0 0 0]
    """
    # given: the checks
    if rates.ndim != 2 or rates.shape[1] != 2 or not ((rates >= 0) & (rates < np.inf)).all():
        raise ValueError(f"rates must be finite, non-negative and of shape (n, 2), got {rates}")
    for name, number in (("n_days", n_days), ("n_people", n_people), ("n_steps", n_steps)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if not 0 <= n_infected <= n_people:
        raise ValueError(f"n_infected must be from 0 to {n_people}, got {n_infected}")
    raise NotImplementedError("not written yet: outbreak")


def accept_first(
    model: Model,
    observed: Float[np.ndarray, " n_summaries"],
    propose: Callable[..., Float[np.ndarray, "size dim"]],
    n: int,
    *,
    tolerance: float,
    scale: Float[np.ndarray, " n_summaries"],
    max_proposals: int,
    rng: np.random.Generator,
) -> Population:
    r"""Propose and simulate until `n` proposals have come within the tolerance, and keep these.

    Parameters
    ----------
    model : Model
        Its prior decides what is simulated: a proposal without prior density is rejected, and the simulator never sees
        it. Neither is it called with no rows at all.
    observed : ndarray
        $s^*$.
    propose : callable
        `propose(size, rng=rng)` returns so many independent proposals, one a row. Ask for as many at a time as you
        like.
    n : int
        How many are wanted.
    tolerance : float
        $\varepsilon$: a distance of just that is accepted.
    scale : ndarray
        $h$ of each summary.
    max_proposals : int
        At most so many are asked for.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Population
        The first `n` that were accepted, in their order, with equal weights. Its number of proposals counts them to the
        last of these, it included.

    Raises
    ------
    ValueError
        If `n` is below 1, `tolerance` is no positive finite number, or of `max_proposals` fewer than `n` were accepted:
        raise the given `out_of_reach` then, with the nearest distance of all. Also as `simulate`, `evaluate` and
        `distances`.

    Examples
    --------
    >>> model = Model(
    ...     lambda n, rng: rng.normal(0, 1, (n, 1)),
    ...     lambda theta: -(theta[:, 0] ** 2) / 2,
    ...     lambda theta, rng: rng.normal(theta, 1),
    ... )
    >>> settings = {"tolerance": 0.1, "scale": np.ones(1), "max_proposals": 10**6, "rng": np.random.default_rng(0)}
    >>> found = accept_first(model, np.ones(1), model.draw_prior, 2000, **settings)
    >>> print(found.theta.shape, found.theta.mean().round(1), found.theta.var().round(1), found.distance.max().round(2))
    (2000, 1) 0.5 0.5 0.1
    """
    # given: the checks
    _check_wishes(n, tolerance)
    raise NotImplementedError("not written yet: accept_first")


def importance_weights(
    theta: Float[np.ndarray, "n dim"],
    log_prior: Float[np.ndarray, " n"],
    population: Population,
    covariance: Float[np.ndarray, "dim dim"],
) -> Float[np.ndarray, " n"]:
    """Return the weights of points that were drawn from a jolted population, equation (8).

    Parameters
    ----------
    theta : ndarray
        The points.
    log_prior : ndarray
        The log prior density of each, finite, up to a constant that may be of any size.
    population : Population
        From which they were drawn, by its weights; some may be zero.
    covariance : ndarray
        $V$ of the jolts, positive definite.

    Returns
    -------
    ndarray
        The weights, which sum to 1; also where the densities themselves would underflow.

    Examples
    --------
    >>> before = Population(np.array([[0.0], [1.0]]), np.zeros((2, 1)), np.zeros(2), np.array([0.25, 0.75]), 2)
    >>> print(importance_weights(np.array([[1.0], [2.0]]), np.zeros(2), before, np.array([[0.375]])).round(3))
    [0.196 0.804]
    """
    raise NotImplementedError("not written yet: importance_weights")


def renew(
    model: Model,
    observed: Float[np.ndarray, " n_summaries"],
    population: Population,
    *,
    tolerance: float,
    scale: Float[np.ndarray, " n_summaries"],
    max_proposals: int,
    rng: np.random.Generator,
) -> Population:
    r"""Draw the next population, of the same size, from the last, equations (8) and (9).

    Parameters
    ----------
    model : Model
        Prior and simulator.
    observed : ndarray
        $s^*$.
    population : Population
        The last one. It is not changed.
    tolerance : float
        $\varepsilon$ of the next one.
    scale : ndarray
        $h$ of each summary.
    max_proposals : int
        As for `accept_first`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Population
        What `accept_first` keeps of independent proposals, each a point of the last population, picked by its weights,
        plus a normal jolt of its own with the covariance (9); with the weights (8).

    Raises
    ------
    ValueError
        As `accept_first`.
    numpy.linalg.LinAlgError
        If the last population lies in a hyperplane, so far as a Cholesky factor can tell.

    Examples
    --------
    >>> model = Model(
    ...     lambda n, rng: rng.normal(0, 1, (n, 1)),
    ...     lambda theta: -(theta[:, 0] ** 2) / 2,
    ...     lambda theta, rng: rng.normal(theta, 1),
    ... )
    >>> settings = {"scale": np.ones(1), "max_proposals": 10**6, "rng": np.random.default_rng(0)}
    >>> first = accept_first(model, np.ones(1), model.draw_prior, 1000, tolerance=1.0, **settings)
    >>> second = renew(model, np.ones(1), first, tolerance=0.2, **settings)
    >>> print(second.theta.shape, second.distance.max() <= 0.2, (second.weights @ second.theta).round(1))
    (1000, 1) True [0.5]
    """
    raise NotImplementedError("not written yet: renew")


def sample(
    model: Model,
    observed: Float[np.ndarray, " n_summaries"],
    n: int,
    *,
    tolerances: Sequence[float],
    scale: Float[np.ndarray, " n_summaries"],
    max_proposals: int = 1_000_000,
    rng: np.random.Generator,
) -> list[Population]:
    """Go from the prior to (1) by populations of falling tolerance.

    Parameters
    ----------
    model : Model
        Prior and simulator.
    observed : ndarray
        $s^*$.
    n : int
        How many points each population has, more than there are parameters.
    tolerances : sequence of float
        The tolerance of each population; they fall.
    scale : ndarray
        $h$ of each summary.
    max_proposals : int
        For each population.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of Population
        One for each tolerance. The first is accepted from the prior, each other renews the one before it.

    Raises
    ------
    ValueError
        If `tolerances` are not positive and falling, or there are none; or as `accept_first`.

    Examples
    --------
    >>> model = Model(
    ...     lambda n, rng: rng.uniform(0, [4, 2], (n, 2)),
    ...     lambda theta: np.where(((theta > 0) & (theta < [4, 2])).all(axis=1), 0.0, -np.inf),
    ...     lambda theta, rng: outbreak(theta, n_days=14, n_people=763, n_steps=2, rng=rng),
    ... )
    >>> settings = {"tolerances": [600.0, 300.0, 200.0], "scale": np.ones(14), "rng": np.random.default_rng(0)}
    >>> found = sample(model, boarding_school(), 100, **settings)
    >>> infected_by_the_first = found[-1].weights @ (found[-1].theta[:, 0] / found[-1].theta[:, 1])
    >>> print(len(found), found[-1].distance.max() <= 200, 2 < infected_by_the_first < 6)
    3 True True
    """
    # given: the check
    falling = np.asarray(tolerances, dtype=float)
    if not falling.size or not (falling > 0).all() or not (np.diff(falling) < 0).all():
        raise ValueError(f"tolerances must be positive and falling, got {tolerances}")
    raise NotImplementedError("not written yet: sample")
