r"""Resampling: turn particles of unequal weights into particles of equal weights.

## Idea

A cloud of *particles*, each with a weight, stands for a distribution. Reweight it again and again, as data come in, and
soon one particle carries nearly all the weight while the others are dead freight. Resampling lets particles have
offspring in proportion to their weights: the heavy ones are copied, the light ones die out, and all weights are equal
again. It must be fair on average; how much noise it adds beyond that is up to the scheme, and four of them are written
here.

## Maths

Let $x_1, \dots, x_N$ be the particles and $\omega_i \ge 0$ their raw weights. Each is a density, or a product of many, so
that only the logarithms $\ell_i = \log \omega_i$ can be held. The *normalised weights* and the logarithm of the mean weight
are

$$w_i = \frac{e^{\ell_i - m}}{\sum_j e^{\ell_j - m}}, \qquad
\log \bar\omega = m + \log \frac1N \sum_j e^{\ell_j - m}, \qquad m = \max_j \ell_j. \tag{1}$$

Any $m$ would give the same; with the largest, no exponential overflows and at least one is 1. The mean weight is the
estimate of the normalising constant, and therefore of the likelihood in a filter.

**How uneven?** If the particles were independent draws with variance $\sigma^2$ of some function $f$, the weighted mean
$\sum_i w_i f(x_i)$ with fixed weights would have the variance $\sigma^2 \sum_i w_i^2$. A plain mean of $n$ draws has
$\sigma^2 / n$. Equate the two for the *effective sample size*

$$\mathrm{ESS} = \frac{1}{\sum_i w_i^2}, \tag{2}$$

which is $N$ for equal weights and 1 if one particle has all the weight.

**What a scheme must do.** A resampling scheme draws *ancestors* $a_1, \dots, a_n$, each the index of a particle. Particle
$i$ has $N_i$ offspring: so many ancestors are $i$. The scheme is *unbiased* if

$$\mathbb{E}[N_i] = n w_i \quad \text{for all } i. \tag{3}$$

Then the plain mean over the offspring has the weighted mean as its expectation, whatever $f$.

**The inverse of the distribution function.** Put the weights end to end: particle $i$ owns the interval

$$I_i = [\, C_{i-1},\ C_i ), \qquad C_i = w_1 + \dots + w_i, \quad C_0 = 0, \tag{4}$$

of the unit interval, as long as its weight. A point $u$ uniform on $[0, 1)$ picks the particle that owns it. A particle
of weight zero owns nothing. In floating point $C_N$ may come out a little below 1, and a point may be rounded up to 1:
what lies beyond $C_N$ belongs to the last particle whose weight is not zero.

**Four ways to choose $n$ points.** *Multinomial* resampling takes independent uniform points,

$$u_k \sim \mathcal{U}[0, 1), \tag{5}$$

so that $N_i$ is binomial with the variance $n w_i (1 - w_i)$. *Stratified* resampling takes one from each of $n$ equal
strata,

$$u_k = \frac{k - 1 + v_k}{n}, \qquad v_k \sim \mathcal{U}[0, 1) \text{ independent}, \quad k = 1, \dots, n. \tag{6}$$

Each $u_k$ taken alone is not uniform on $[0, 1)$, but a random one of them is, which is all that (3) needs. *Systematic*
resampling uses one number for all strata,

$$u_k = \frac{k - 1 + v}{n}, \qquad v \sim \mathcal{U}[0, 1), \tag{7}$$

a comb with teeth $1/n$ apart. Between $\lfloor n w_i \rfloor$ and $\lfloor n w_i \rfloor + 1$ teeth fall into $I_i$,
whatever $v$.

*Residual* resampling gives what is certain first. With $r = n - \sum_i \lfloor n w_i \rfloor$ places left,

$$N_i = \lfloor n w_i \rfloor + R_i, \qquad
(R_1, \dots, R_N) \sim \text{multinomial}\Big(r;\ \frac{n w_i - \lfloor n w_i \rfloor}{r}\Big). \tag{8}$$

Take expectations to see (3) again.

**The noise.** For multinomial resampling the mean over offspring of a function $f$ has, given the particles, the variance
$\frac1n \big( \sum_i w_i f_i^2 - (\sum_i w_i f_i)^2 \big)$. Split the unit interval into the $n$ strata and let $\mu_k$
and $s_k^2$ be mean and variance of $f$ at a uniform point of stratum $k$. Then

$$\operatorname{Var}_\text{strat} = \frac{1}{n^2} \sum_k s_k^2 \ \le\
\frac{1}{n^2} \sum_k \big( s_k^2 + (\mu_k - \bar\mu)^2 \big) = \operatorname{Var}_\text{multi}: \tag{9}$$

stratified resampling is never worse, and neither is residual [1]. Systematic resampling is usually the best and the
cheapest, but its teeth move together, so that no such inequality holds: there are weights for which it is worse.

## Worked example

Log weights $(\log 2, \log 5, -\infty, \log 1)$: with $m = \log 5$ the exponentials are $(0.4, 1, 0, 0.2)$, their sum is
1.6, so $w = (0.25, 0.625, 0, 0.125)$ and $\log \bar\omega = \log 5 + \log 0.4 = \log 2$, the logarithm of the mean of 2,
5, 0 and 1. $\mathrm{ESS} = 1 / (0.0625 + 0.390625 + 0.015625) = 2.13$.

The intervals are $[0, 0.25)$, $[0.25, 0.875)$, nothing, $[0.875, 1)$. Systematic resampling with $n = 3$ and $v = 0.6$
has the teeth $0.2$, $0.533$ and $0.867$: ancestors 1, 2, 2. With $v = 0.8$ they are $0.267$, $0.6$ and $0.933$: ancestors
2, 2, 4. The residual scheme has $n w = (0.75, 1.875, 0, 0.375)$: particle 2 is certain to have one child, and the $r = 2$
other places go to 1, 2 and 4 with probabilities $0.375$, $0.4375$ and $0.1875$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `normalise` | log weights | the weights, and the log of their mean before | (1) |
| `effective_sample_size` | normalised weights | a number | (2) |
| `pick` | normalised weights, points of the unit interval | the owner of each point | (4) |
| `multinomial` | normalised weights, how many | ancestors | (5) |
| `stratified` | the same | ancestors | (6) |
| `systematic` | the same | ancestors | (7) |
| `residual` | the same | ancestors | (8) |

Indices count from 0 in the code, from 1 in the maths. Ancestors may come in any order.

## Pitfalls

- All weights are `nan`, or the evidence is $-\infty$, after some hundreds of observations.
- Once in a few thousand runs an index comes back that no particle has.
- A particle of weight zero has offspring, where a point falls exactly on the border of an interval.
- The offspring are right on average, but their counts vary too much: how many random numbers did the comb use?
- Residual resampling where all $n w_i$ are whole numbers divides by zero.
- Whoever resamples goes on with the old weights: from then on all particles weigh the same.

## Cost

$O(N + n)$ for the sorted points of (6) and (7), if one walks through both lists at once; $O(N + n \log N)$ by bisection,
which NumPy does faster. Multinomial by (5) jumps about in memory, since its points are in no order.

## Go further

Experiment: draw a thousand normal particles, weight them by $e^{x}$, and compare over many repetitions the variance of
the mean after each scheme. Then sort the particles first: for systematic and stratified resampling their order matters.
Stretch goal: generate the sorted points of (5) in one pass, by normalised sums of exponential numbers.

What is not here: when to resample, which is the filter's business, and optimal transport, which moves particles instead of
copying them.

## References

1. Douc, Cappé & Moulines (2005), Comparison of resampling schemes for particle filtering, https://arxiv.org/abs/cs/0507025
2. Kitagawa (1996), Monte Carlo filter and smoother, https://doi.org/10.1080/10618600.1996.10474692
3. Liu & Chen (1998), Sequential Monte Carlo methods for dynamic systems (residual),
   https://doi.org/10.1080/01621459.1998.10473765
4. Gordon, Salmond & Smith (1993), Novel approach to nonlinear/non-Gaussian Bayesian state estimation,
   https://doi.org/10.1049/ip-f-2.1993.0015
"""

import numpy as np
from jaxtyping import Float, Int


def _check_weights(weights: Float[np.ndarray, " n_particles"], n: int = 1) -> None:  # given: argument checks
    """Refuse what are no normalised weights, and a number of offspring below one."""
    if weights.ndim != 1 or not len(weights) or not (weights >= 0).all() or not abs(weights.sum() - 1) < 1e-9:
        raise ValueError(f"weights must be a vector of non-negative numbers that sum to 1, got {weights}")
    if not n >= 1:
        raise ValueError(f"n must be at least 1, got {n}")


def normalise(
    log_weights: Float[np.ndarray, " n_particles"],
) -> tuple[Float[np.ndarray, " n_particles"], float]:
    r"""Return the normalised weights, and the logarithm of the mean of the raw ones, equation (1).

    Parameters
    ----------
    log_weights : ndarray
        $\ell_i$, logarithms of the raw weights; -inf for a weight of zero. Of any size: no exponential may overflow.

    Returns
    -------
    weights : ndarray
        $w_i$, which sum to 1.
    log_mean : float
        $\log \bar\omega$.

    Raises
    ------
    ValueError
        If `log_weights` is no vector, is empty, holds NaN or +inf, or if all weights are zero.

    Examples
    --------
    >>> weights, log_mean = normalise(np.log([2.0, 5.0, 1.0]) - 1000)
    >>> print(weights, round(log_mean, 4))
    [0.25  0.625 0.125] -999.0192
    """
    # given: the checks
    if log_weights.ndim != 1 or not len(log_weights) or not (log_weights < np.inf).all():
        raise ValueError(f"log_weights must be a vector without NaN and +inf, got {log_weights}")
    if np.isneginf(log_weights).all():
        raise ValueError(f"log_weights must not all be -inf, got {len(log_weights)} of them")
    # yours
    largest = log_weights.max()
    scaled = np.exp(log_weights - largest)
    total = scaled.sum()
    return scaled / total, float(largest + np.log(total / len(scaled)))


def effective_sample_size(weights: Float[np.ndarray, " n_particles"]) -> float:
    """Return how many particles of equal weights would be worth as much, equation (2).

    Parameters
    ----------
    weights : ndarray
        Normalised weights.

    Returns
    -------
    float
        Between 1 and the number of particles.

    Raises
    ------
    ValueError
        If `weights` are not non-negative numbers that sum to 1.

    Examples
    --------
    >>> round(effective_sample_size(np.array([0.5, 0.25, 0.25, 0.0])), 4)
    2.6667
    """
    # given: the check
    _check_weights(weights)
    # yours
    return float(1 / (weights @ weights))


def pick(weights: Float[np.ndarray, " n_particles"], points: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return the particle that owns each point of the unit interval, equation (4).

    Parameters
    ----------
    weights : ndarray
        Normalised weights. Some may be zero.
    points : ndarray
        Numbers from 0 to 1, in any order.

    Returns
    -------
    ndarray
        For each point, in the order of the points, the index of the particle in whose interval it lies, from 0. A point on
        a border belongs to the interval that begins there, and never to a particle of weight zero. A point beyond the end of
        the last interval, be it 1 itself or by rounding, belongs to the last particle whose weight is not zero.

    Raises
    ------
    ValueError
        If `weights` are not non-negative numbers that sum to 1, or a point lies outside.

    Examples
    --------
    >>> print(pick(np.array([0.25, 0.625, 0.0, 0.125]), np.array([0.9, 0.0, 0.25, 0.5])))
    [3 0 1 1]
    """
    # given: the checks
    _check_weights(weights)
    if not ((points >= 0) & (points <= 1)).all():
        raise ValueError(f"points must lie between 0 and 1, got {points}")
    # yours
    owners = np.searchsorted(np.cumsum(weights), points, side="right")
    return np.minimum(owners, np.flatnonzero(weights)[-1])


def multinomial(
    weights: Float[np.ndarray, " n_particles"], n: int, *, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Return independent ancestors, equation (5).

    Parameters
    ----------
    weights : ndarray
        Normalised weights.
    n : int
        How many ancestors; it need not be the number of particles.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Indices of particles, from 0. Each is i with probability w_i, whatever the others are.

    Raises
    ------
    ValueError
        If `weights` are not non-negative numbers that sum to 1, or `n` is below 1.

    Examples
    --------
    >>> print(multinomial(np.array([0.0, 0.9, 0.1]), 8, rng=np.random.default_rng(0)))
    [1 1 1 1 1 2 1 1]
    """
    # given: the checks
    _check_weights(weights, n)
    # yours
    return pick(weights, rng.random(n))


def stratified(
    weights: Float[np.ndarray, " n_particles"], n: int, *, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Return ancestors by one point in each of `n` strata, equation (6).

    Parameters
    ----------
    weights : ndarray
        Normalised weights.
    n : int
        How many ancestors; it need not be the number of particles.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Indices of particles, from 0, in any order.

    Raises
    ------
    ValueError
        If `weights` are not non-negative numbers that sum to 1, or `n` is below 1.

    Examples
    --------
    >>> print(stratified(np.array([0.5, 0.0, 0.5]), 4, rng=np.random.default_rng(0)))
    [0 0 2 2]
    """
    # given: the checks
    _check_weights(weights, n)
    # yours
    return pick(weights, (np.arange(n) + rng.random(n)) / n)


def systematic(
    weights: Float[np.ndarray, " n_particles"], n: int, *, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Return ancestors by a comb of `n` equidistant points that is moved at random, equation (7).

    Parameters
    ----------
    weights : ndarray
        Normalised weights.
    n : int
        How many ancestors; it need not be the number of particles.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Indices of particles, from 0, in any order.

    Raises
    ------
    ValueError
        If `weights` are not non-negative numbers that sum to 1, or `n` is below 1.

    Examples
    --------
    >>> print(systematic(np.array([0.5, 0.0, 0.5]), 4, rng=np.random.default_rng(0)))
    [0 0 2 2]
    """
    # given: the checks
    _check_weights(weights, n)
    # yours
    return pick(weights, (np.arange(n) + rng.random()) / n)


def residual(weights: Float[np.ndarray, " n_particles"], n: int, *, rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    r"""Return ancestors of which as many as possible are certain, and the others drawn independently, equation (8).

    Parameters
    ----------
    weights : ndarray
        Normalised weights.
    n : int
        How many ancestors; it need not be the number of particles.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Indices of particles, from 0, in any order: $\lfloor n w_i \rfloor$ times each i, with the product as it is in floating point,
        and the rest by chance. There may be
        no rest.

    Raises
    ------
    ValueError
        If `weights` are not non-negative numbers that sum to 1, or `n` is below 1.

    Examples
    --------
    >>> print(residual(np.array([0.25, 0.25, 0.5]), 8, rng=np.random.default_rng(0)))
    [0 0 1 1 2 2 2 2]
    """
    # given: the checks
    _check_weights(weights, n)
    # yours
    expected = n * weights
    certain = np.floor(expected).astype(int)
    ancestors = np.repeat(np.arange(len(weights)), certain)
    if len(ancestors) == n:
        return ancestors
    rest = expected - certain
    return np.concatenate([ancestors, multinomial(rest / rest.sum(), n - len(ancestors), rng=rng)])
