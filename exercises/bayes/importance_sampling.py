r"""Importance sampling: expectations under one density from the draws of another, and how far to trust them.

## Idea

Draws from the wrong density will do, if each is weighted by how much too rarely it comes. Nothing is thrown away, and the
density may be known up to a constant. The price is hidden: a few draws may carry all the weight, and then the answer is
wrong while its error bars look fine. The sizes of the largest weights give this away. Their tail is fitted by a Pareto
law, whose shape says how bad things are, and whose quantiles replace the weights themselves, which helps.

## Maths

Let $x_1, \dots, x_n$ be independent draws from a density $g$, and $f$ a target with mass $Z = \int f(x)\, dx$. The
*weights* are

$$w_i = \frac{f(x_i)}{g(x_i)}, \qquad \log w_i = \log f(x_i) - \log g(x_i). \tag{1}$$

For a function $h$, provided that $g > 0$ wherever $f h \ne 0$,

$$\mathrm{E}_g [w\, h(x)] = \int g(x)\, \frac{f(x)}{g(x)}\, h(x)\, dx = \int f(x)\, h(x)\, dx. \tag{2}$$

**The plain estimate** of this integral is the mean of the products. It is unbiased, and its standard error is that of any
mean,

$$\hat I = \frac{1}{n} \sum_i w_i h_i, \qquad
\mathrm{se}^2 = \frac{1}{n (n - 1)} \sum_i (w_i h_i - \hat I)^2. \tag{3}$$

With $h = 1$ it estimates the mass, in Bayesian statistics the evidence: $\hat Z = \frac{1}{n} \sum_i w_i$. Weights may be
as large as $e^{1000}$ or as small as its inverse. Sums of such numbers are computed with the greatest taken out,

$$\log \sum_i e^{a_i} = a^* + \log \sum_i e^{a_i - a^*}, \qquad a^* = \max_i a_i. \tag{4}$$

**The self-normalised estimate** is for targets known up to a constant, and divides by the sum of the weights,

$$\tilde w_i = \frac{w_i}{\sum_j w_j}, \qquad \hat \mu = \sum_i \tilde w_i h_i. \tag{5}$$

It is a ratio of two means, $\bar a / \bar b$ with $a_i = w_i h_i$ and $b_i = w_i$, and has a bias of the order of
$1 / n$. To first order its deviation from $\mu$ is $(\bar a - \mu \bar b) / \mathrm{E}\, b$, the mean of the numbers
$w_i (h_i - \mu) / \mathrm{E}\, w$, whose expectation is 0. With the squares summed instead of their expectation and
estimates for what is unknown, this *delta method* gives

$$\mathrm{se}^2 = \sum_i \tilde w_i^2\, (h_i - \hat \mu)^2. \tag{6}$$

**The effective sample size.** If $h$ had nothing to do with the weights, (6) would be
$\mathrm{var}(h) \sum_i \tilde w_i^2$: the error of

$$n_\text{eff} = \frac{1}{\sum_i \tilde w_i^2} \tag{7}$$

draws from the target itself. It is $n$ for equal weights and 1 if one weight is everything. It also tells the relative
error of $\hat Z$: by (3), with $h = 1$,

$$\frac{\mathrm{se}^2}{\hat Z^2} = \frac{n / n_\text{eff} - 1}{n - 1}. \tag{8}$$

(For equal weights that is 0, and rounding may make it negative.)

**The tail of the weights.** All of these errors trust the sample, and the sample may lack just those draws that matter:
then $n_\text{eff}$ looks fine. Over a high threshold, though, the excesses of almost any law follow a *generalised
Pareto* law, with shape $k$ and scale $\sigma$,

$$P(X \le x) = 1 - \Big( 1 + \frac{k x}{\sigma} \Big)^{-1 / k}, \tag{9}$$

the exponential law with mean $\sigma$ as $k \to 0$. Moments of order $1 / k$ and above are infinite: for $k \ge \tfrac12$
the weights have no variance, for $k \ge 1$ no mean.

**Its fit** follows Zhang and Stephens [2]. With $\theta = -k / \sigma$ the density has the logarithm
$-\log \sigma - (1 + 1 / k) \log(1 - \theta x)$. For a fixed $\theta$ the likelihood of the $m$ excesses is greatest at

$$k(\theta) = \frac{1}{m} \sum_i \log(1 - \theta x_i), \qquad \sigma(\theta) = -\frac{k(\theta)}{\theta}, \tag{10}$$

where its logarithm is, up to a constant,

$$\ell(\theta) = m \Big( \log \frac{-\theta}{k(\theta)} - k(\theta) \Big). \tag{11}$$

Instead of its maximum take a mean. Let $x_{(1)} \le \dots \le x_{(m)}$ be the sorted excesses,
$q = x_{(\lfloor m / 4 + 1 / 2 \rfloor)}$ their lower quartile, and $J = 30 + \lfloor \sqrt m \rfloor$. On the grid

$$\theta_j = \frac{1}{x_{(m)}} + \frac{1}{3 q} \Big( 1 - \sqrt{\frac{J}{j - 1 / 2}}\, \Big), \quad j = 1, \dots, J, \qquad
\hat \theta = \frac{\sum_j \theta_j\, e^{\ell(\theta_j)}}{\sum_j e^{\ell(\theta_j)}}. \tag{12}$$

All $\theta_j$ are below $1 / x_{(m)}$, so that the logarithms in (10) exist. One may be exactly 0, where (10) and (11)
are $0 / 0$: take in its place a number so near to 0 that they are at their limit. Put $\hat \theta$ into (10) for
$\hat k$ and $\hat \sigma$. At last, with few excesses $\hat k$ is noisy, and is drawn towards $\tfrac12$ as if by ten
more observations,

$$k = \frac{m \hat k + 10 \cdot \tfrac12}{m + 10}, \qquad \sigma = \hat \sigma. \tag{13}$$

**Pareto smoothing** [1]. Of $n$ weights the largest $m$ are the tail,

$$m = \lfloor n / 5 \rfloor \text{ for } n \le 225, \qquad m = \lfloor 3 \sqrt n \rfloor \text{ for } n > 225. \tag{14}$$

The threshold $u$ is the largest weight that is not in it. Fit the excesses $w - u$, and replace the $i$-th smallest
weight of the tail by the quantile

$$w_i' = \min \big\{ u + F^{-1} \big( \tfrac{i - 1 / 2}{m} \big),\ \max_j w_j \big\}, \quad i = 1, \dots, m, \tag{15}$$

$F$ being (9). Up to a shape of about 0.7 the results can be used; above, the proposal is too narrow, and no formula will
help.

## Worked example

*Three draws.* Weights $1, 2, 5$ and values $h = 3, 0, 1$. The products are $3, 0, 5$: the plain estimate is
$\tfrac83 = 2.667$, its squared error $(\tfrac19 + \tfrac{64}{9} + \tfrac{49}{9}) / 6 = 2.111$, so $\mathrm{se} = 1.453$.
The sum of the weights is 8, so the self-normalised estimate is $1$, with
$\mathrm{se}^2 = (1 \cdot 4 + 4 \cdot 1 + 25 \cdot 0) / 64 = 0.125$, $\mathrm{se} = 0.354$. The effective sample size is
$64 / 30 = 2.133$, and the relative error of $\hat Z$ is the root of $(3 / 2.133 - 1) / 2 = 0.203$, which is 0.451.

*A fit.* Five excesses $1, 2, 3, 5, 9$: $q = x_{(1)} = 1$, as $\lfloor 1.75 \rfloor = 1$; $J = 32$;
$\theta_1 = \tfrac19 + \tfrac13 (1 - 8) = -2.222$. There $k(\theta_1) = 2.088$, $\sigma(\theta_1) = 0.940$ and
$\ell(\theta_1) = -10.129$; the last, $\theta_{32} = 0.1085$, has $\ell = -6.099$. The mean (12) is
$\hat \theta = 0.0034$, so $\hat k = -0.0138$ and $\hat \sigma = 4.042$, and (13) makes $k = (-0.069 + 5) / 15 = 0.329$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `log_sum_exp` | numbers | the logarithm of the sum of their exponentials | (4) |
| `evidence` | log weights | $\log \hat Z$ and its relative error | (3), (8) |
| `plain` | log weights, values | an `Estimate`: value and standard error | (3) |
| `self_normalised` | log weights, values | an `Estimate` | (5), (6) |
| `effective_sample_size` | log weights | $n_\text{eff}$ | (7) |
| `pareto_quantile` | probabilities, shape, scale | quantiles | (9) |
| `fit_pareto` | excesses | a `Pareto`: shape and scale | (10) to (13) |
| `smooth` | log weights | `Smoothed`: log weights and the shape of their tail | (14), (15) |

Given is `log_weights`, which computes (1) and refuses what cannot be.

## Pitfalls

- Everything is 0, infinite or `nan`, for log weights around $\pm 1000$.
- The standard error is that of the weights, and not of the products.
- The effective sample size is below 1, or above $n$.
- The fit returns `nan`: was the grid built of sorted numbers, and of excesses, not of weights?
- The smoothed weights are right, but belong to other draws.
- A shape of nearly 0.5, whatever the data: how strong is the prior for so many excesses?

## Cost

$O(n)$ for the estimates. Smoothing sorts, $O(n \log n)$, and its fit costs $O(m^{3/2})$.

## Go further

Experiment: estimate the variance of a standard normal law with normal proposals of standard deviations 0.4 to 3, and plot
$n_\text{eff} / n$, $k$ and the true error. A stretch goal: leave-one-out cross-validation from a single posterior, the
use for which smoothing was invented: the weights for leaving out an observation are 1 over its likelihood at the draws.

What is not here: dependent draws, for which [1] makes the tail longer, and proposals that adapt.

## References

1. Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, https://arxiv.org/abs/1507.02646
2. Zhang & Stephens (2009), A new and efficient estimation method for the generalized Pareto distribution,
   https://doi.org/10.1198/tech.2009.08017
3. Owen (2013), Monte Carlo theory, methods and examples, chapter 9, https://artowen.su.domains/mc/
"""

# 8 parts to write. Test them with: pytest exercises/bayes/importance_sampling.py
# To be written without: scipy, arviz, arviz_stats

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.bayes._shared import LogDensity, evaluate


@dataclass(frozen=True)
class Estimate:
    """An estimate and its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True)
class Pareto:
    """A generalised Pareto law, equation (9): its shape k and its scale."""

    shape: float
    scale: float


@dataclass(frozen=True)
class Smoothed:
    """What Pareto smoothing returns.

    Attributes
    ----------
    log_weights : ndarray
        The logarithms of the weights, in the order of the draws, normalised: the weights sum to 1.
    shape : float
        The shape k of the tail of the weights as they were.
    """

    log_weights: Float[np.ndarray, " n"]
    shape: float


def _check(log_weights: np.ndarray, values: np.ndarray | None = None, *, least: int = 1) -> None:  # given: the checks
    """Refuse log weights that are none or too few, or values that do not belong to them."""
    if log_weights.ndim != 1 or len(log_weights) < least:
        raise ValueError(f"log_weights must be a vector of at least {least} numbers, got shape {log_weights.shape}")
    if not (log_weights < np.inf).all():
        raise ValueError(f"log_weights must be finite or -inf, got {log_weights[~(log_weights < np.inf)][0]}")
    if np.isneginf(log_weights).all():
        raise ValueError(f"log_weights must not all be -inf: no draw has any weight, got {len(log_weights)} of them")
    if values is not None and (values.shape != log_weights.shape or not np.isfinite(values).all()):
        raise ValueError(f"values must be finite, one for each of {len(log_weights)} weights, got shape {values.shape}")


def log_weights(  # given: equation (1), with its checks
    log_density_fn: LogDensity, points: Float[np.ndarray, "n dim"], log_proposal: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    r"""Return the logarithms of the weights, equation (1).

    Parameters
    ----------
    log_density_fn : callable
        Computes $\log f$ of each row; -inf outside the support.
    points : ndarray
        Draws from g, one a row.
    log_proposal : ndarray
        $\log g$ at them.

    Returns
    -------
    ndarray
        $\log w$; -inf where f is 0.

    Raises
    ------
    ValueError
        If `log_proposal` is not finite, `log_density_fn` returns what is no log density, or f is 0 at all points.

    Examples
    --------
    >>> points = np.array([[0.5], [2.0]])
    >>> print(log_weights(lambda x: -x[:, 0], points, np.array([-1.0, -3.0])))
    [0.5 1. ]
    """
    if log_proposal.shape != points.shape[:1] or not np.isfinite(log_proposal).all():
        raise ValueError(f"log_proposal must be finite, one for each of {len(points)} points, got {log_proposal}")
    found = evaluate(log_density_fn, points) - log_proposal
    if np.isneginf(found).all():
        raise ValueError(f"points must reach the support of log_density_fn, which is -inf at all, got {points}")
    return found


def log_sum_exp(a: Float[np.ndarray, " n"]) -> float:
    """Return the logarithm of the sum of exponentials, equation (4).

    Parameters
    ----------
    a : ndarray
        Numbers of any size; -inf stands for a summand of 0. Not empty.

    Returns
    -------
    float
        The logarithm of the sum; -inf if all summands are 0, without a warning.

    Examples
    --------
    >>> print(f"{log_sum_exp(np.array([1000.0, 1000.0, -np.inf])):.4f} {log_sum_exp(np.full(2, -np.inf))}")
    1000.6931 -inf
    """
    raise NotImplementedError("not written yet: log_sum_exp")


def evidence(log_weights: Float[np.ndarray, " n"]) -> tuple[float, float]:
    r"""Estimate the mass of the target by the mean of the weights.

    Parameters
    ----------
    log_weights : ndarray
        The log weights of at least two draws.

    Returns
    -------
    log_evidence : float
        $\log \hat Z$.
    relative_error : float
        The standard error of $\hat Z$ as a share of it, equation (8).

    Raises
    ------
    ValueError
        If `log_weights` is not a vector of at least two numbers, holds NaN or +inf, or nothing but -inf.

    Examples
    --------
    >>> log_evidence, relative_error = evidence(np.log([1.0, 2.0, 5.0]))
    >>> print(f"{math.exp(log_evidence):.4f} {relative_error:.4f}")
    2.6667 0.4507
    """
    # given: the check
    _check(log_weights, least=2)
    raise NotImplementedError("not written yet: evidence")


def plain(log_weights: Float[np.ndarray, " n"], values: Float[np.ndarray, " n"]) -> Estimate:
    r"""Estimate the integral (2) by the mean of weight times value, equation (3).

    Parameters
    ----------
    log_weights : ndarray
        The log weights of at least two draws.
    values : ndarray
        $h$ at each of them.

    Returns
    -------
    Estimate
        The mean and its standard error.

    Raises
    ------
    ValueError
        If `log_weights` is not a vector of at least two numbers, holds NaN, +inf or more than 350, or nothing but -inf; or if `values`
        is not of the same shape and finite.

    Examples
    --------
    >>> estimate = plain(np.log([1.0, 2.0, 5.0]), np.array([3.0, 0.0, 1.0]))
    >>> print(f"{estimate.value:.4f} {estimate.standard_error:.4f}")
    2.6667 1.4530
    """
    # given: the checks
    _check(log_weights, values, least=2)
    if log_weights.max() > 350:
        raise ValueError(f"log_weights must be at most 350, as their squares would overflow, got {log_weights.max()}")
    raise NotImplementedError("not written yet: plain")


def self_normalised(log_weights: Float[np.ndarray, " n"], values: Float[np.ndarray, " n"]) -> Estimate:
    r"""Estimate the mean of h under the target, known up to a constant, by (5) and (6).

    Parameters
    ----------
    log_weights : ndarray
        The log weights, up to one constant for all.
    values : ndarray
        $h$ at each draw.

    Returns
    -------
    Estimate
        The weighted mean and its standard error by the delta method.

    Raises
    ------
    ValueError
        If `log_weights` is not a vector, is empty, holds NaN or +inf, or nothing but -inf; or if `values` is not of the same shape
        and finite.

    Examples
    --------
    >>> estimate = self_normalised(np.log([1.0, 2.0, 5.0]), np.array([3.0, 0.0, 1.0]))
    >>> print(f"{estimate.value:.4f} {estimate.standard_error:.4f}")
    1.0000 0.3536
    """
    # given: the checks
    _check(log_weights, values)
    raise NotImplementedError("not written yet: self_normalised")


def effective_sample_size(log_weights: Float[np.ndarray, " n"]) -> float:
    """Return how many draws from the target itself would be worth as much, equation (7).

    Parameters
    ----------
    log_weights : ndarray
        The log weights, up to one constant for all.

    Returns
    -------
    float
        From 1 to the number of weights.

    Raises
    ------
    ValueError
        If `log_weights` is not a vector, is empty, holds NaN or +inf, or nothing but -inf.

    Examples
    --------
    >>> print(f"{effective_sample_size(np.log([1.0, 2.0, 5.0])):.4f}")
    2.1333
    """
    # given: the check
    _check(log_weights)
    raise NotImplementedError("not written yet: effective_sample_size")


def pareto_quantile(p: Float[np.ndarray, " n"], law: Pareto) -> Float[np.ndarray, " n"]:
    """Return the quantiles of a generalised Pareto law: solve (9) for x.

    Parameters
    ----------
    p : ndarray
        Probabilities from 0 to below 1.
    law : Pareto
        Shape and scale. The shape may be negative, and 0 or as near to it as you like: then the law is exponential, or nearly so.

    Returns
    -------
    ndarray
        The quantiles, to nearly full relative precision for any shape and for small p as well.

    Raises
    ------
    ValueError
        If a p is not from 0 to below 1, or the scale is not positive and finite.

    Examples
    --------
    >>> print(
    ...     pareto_quantile(np.array([0.5, 0.75]), Pareto(1.0, 2.0)),
    ...     pareto_quantile(np.array([0.5]), Pareto(0.0, 1.0)).round(4),
    ... )
    [2. 6.] [0.6931]
    """
    # given: the checks
    if not ((p >= 0) & (p < 1)).all():
        raise ValueError(f"p must lie between 0 and 1, got {p}")
    if not 0 < law.scale < math.inf:
        raise ValueError(f"law must have a positive, finite scale, got {law.scale}")
    raise NotImplementedError("not written yet: pareto_quantile")


def fit_pareto(excesses: Float[np.ndarray, " m"]) -> Pareto:
    """Fit a generalised Pareto law by the method of Zhang and Stephens, equations (10) to (13).

    Parameters
    ----------
    excesses : ndarray
        By how much at least five numbers exceed a threshold, in any order; none of them negative, some may be 0.

    Returns
    -------
    Pareto
        The shape after (13), and the scale.

    Raises
    ------
    ValueError
        If there are fewer than five, one is negative, NaN or infinite, or their lower quartile q is 0.

    Examples
    --------
    >>> law = fit_pareto(np.array([9.0, 2.0, 1.0, 5.0, 3.0]))
    >>> print(f"{law.shape:.4f} {law.scale:.4f}")
    0.3287 4.0417
    """
    # given: the checks
    if excesses.ndim != 1 or len(excesses) < 5 or not ((excesses >= 0) & (excesses < np.inf)).all():
        raise ValueError(f"excesses must be at least five numbers, finite and not negative, got {excesses}")
    if not np.sort(excesses)[int(len(excesses) / 4 + 0.5) - 1] > 0:
        raise ValueError(f"excesses must have a positive lower quartile, got {np.count_nonzero(excesses == 0)} zeros")
    raise NotImplementedError("not written yet: fit_pareto")


def smooth(log_weights: Float[np.ndarray, " n"]) -> Smoothed:
    """Replace the largest weights by quantiles of a Pareto law fitted to them, by (14) and (15).

    Parameters
    ----------
    log_weights : ndarray
        The log weights of at least 25 draws, up to one constant for all, which changes nothing.

    Returns
    -------
    Smoothed
        The log weights in the order of the draws, normalised after the smoothing; and the shape of the tail. Of equal weights
        the one that comes later counts as larger.

    Raises
    ------
    ValueError
        If `log_weights` is not a vector of at least 25 numbers, holds NaN or +inf; or, raised by `fit_pareto`, if a quarter of the tail or more
        is no larger than the threshold, as where all weights are equal or most are 0.

    Examples
    --------
    >>> smoothed = smooth(-np.arange(30.0))
    >>> print(f"{smoothed.shape:.3f}", np.exp(smoothed.log_weights[:4]).round(3))
    0.758 [0.596 0.201 0.103 0.057]
    """
    # given: the checks
    _check(log_weights, least=25)
    raise NotImplementedError("not written yet: smooth")
