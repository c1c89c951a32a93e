r"""Rejection sampling: exact draws from a density that lies under an envelope.

## Idea

Scatter points evenly under a curve, and their horizontal positions are draws from the density that the curve shows. It is
hard to scatter points under a curve we know only pointwise, but easy to do so under a higher curve of a familiar shape:
then throw away those above ours. The draws that remain are exact and independent, and the share that remains tells the
area, which in Bayesian statistics is the evidence.

## Maths

Let $f$ be the target, known up to a constant, $Z = \int f(x)\, dx$ its unknown mass, and $g$ a density that we can draw
from: it integrates to 1. Suppose that a multiple of $g$ is an *envelope*,

$$f(x) \le M g(x) \quad \text{for all } x. \tag{1}$$

Draw $X$ from $g$ and accept it with the probability $\alpha(X) = f(X) / (M g(X))$, in logarithms

$$\log \alpha(x) = \log f(x) - \log M - \log g(x). \tag{2}$$

By (1) it is at most 0. That $X$ lies in a set $A$ *and* is accepted has the probability

$$\int_A g(x)\, \alpha(x)\, dx = \frac{1}{M} \int_A f(x)\, dx, \qquad
P(\text{accepted}) = \frac{Z}{M} = p. \tag{3}$$

The quotient of the two is $\int_A f / Z$: what is accepted follows the law of $f$, exactly. Where (1) fails, nothing in
the output tells: there $\alpha$ would be above 1, is cut to 1, and the draws follow the smaller of $f$ and $M g$. So
every point proposed is checked.

**The coin.** As $-\log U$ has the exponential law for a uniform $U$, draw $E$ from that and accept if $-E \le \log \alpha$.

**Where the proposals come from.** If $U$ is uniform on $(0, 1)$ and $F$ a continuous, increasing distribution function,
then $P(F^{-1}(U) \le x) = P(U \le F(x)) = F(x)$: the *inverse transform*. The Laplace law with scale $b$ has

$$g(x) = \frac{1}{2b} e^{-|x| / b}, \qquad F(x) = \tfrac12 e^{x / b} \ (x < 0), \qquad
F(x) = 1 - \tfrac12 e^{-x / b} \ (x \ge 0). \tag{4}$$

**The best bound** is the least that is one: $\log M = \sup_x \{ \log f(x) - \log g(x) \}$, and by (3) it accepts most.
Take for $f$ the standard normal density, with its constant, so that $Z = 1$. Over the Laplace law, for $x \ge 0$,

$$\log f(x) - \log g(x) = -\frac{x^2}{2} + \frac{x}{b} + \log 2 b - \frac12 \log 2 \pi, \tag{5}$$

a parabola. In $d$ independent coordinates the logarithms add up, each coordinate has its own maximum, and $M$ is a $d$-th
power: the acceptance vanishes exponentially. Over the Cauchy law with scale $s$, $g(x) = s / (\pi (s^2 + x^2))$,

$$\log f(x) - \log g(x) = -\frac{x^2}{2} + \log (s^2 + x^2) + \log \frac{\pi}{s \sqrt{2 \pi}}. \tag{6}$$

Its derivative vanishes at $x = 0$, and for small $s$ at two more places; which of them is the maximum depends on $s$. The
other way round, a normal proposal for a Cauchy target, no $M$ exists at all.

**A squeeze** saves evaluations of an expensive $f$. Let $s(x) \le f(x)$ be cheap. If

$$-E \le \log s(x) - \log M - \log g(x), \tag{7}$$

then $-E \le \log \alpha(x)$ as well, and the point is accepted unseen. Otherwise evaluate $f$ and use the *same* $E$ with
(2).

**The number of tries** up to a first draw is geometric, $P(T = t) = p (1 - p)^{t - 1}$, with mean $1 / p = M / Z$. Up to
the $n$-th draw it is the sum $N$ of $n$ such numbers,

$$P(N = t) = \binom{t - 1}{n - 1} p^n (1 - p)^{t - n}, \quad t = n, n + 1, \dots \tag{8}$$

The obvious estimate $n / N$ of $p$ is biased: the last try is a success by the rule of stopping. Leave it out,

$$\hat p = \frac{n - 1}{N - 1}, \tag{9}$$

and it is unbiased: $\frac{n - 1}{t - 1} \binom{t - 1}{n - 1} = \binom{t - 2}{n - 2}$, so the expectation of (9) under (8)
is $p$ times a sum of probabilities of the same kind, for $n - 1$ draws. In the same way one sees that
$\hat p (1 - \hat p) / (N - 2)$ is an unbiased estimate of its variance. By (3), the mass is estimated by

$$\hat Z = M \hat p, \qquad \frac{\text{standard error of } \hat Z}{\hat Z} = \sqrt{\frac{1 - \hat p}{\hat p\, (N - 2)}}. \tag{10}$$

## Worked example

*A posterior.* A coin showed 2 heads in 3 tosses; the prior for its probability $x$ is uniform. The likelihood
$f(x) = 3 x^2 (1 - x)$ is greatest at $x = \tfrac23$, where it is $\tfrac49$: so with $g = 1$ on $(0, 1)$ the best bound
is $M = 0.444$. The point $x = 0.5$ has $f = 0.375$ and is accepted with the probability $0.375 / 0.444 = 0.844$, that is
$\log \alpha = -0.170$. With $M = 0.3$ the same point would have $\log \alpha = +0.223$: no envelope. The evidence is
$Z = 3 (\tfrac13 - \tfrac14) = \tfrac14$, so $p = 0.5625$ and a draw takes 1.78 tries on average.

*An estimate.* Suppose that 10 draws took 17 tries: $\hat p = 9 / 16 = 0.5625$, $\hat Z = 0.25$, with a relative standard
error of $\sqrt{0.4375 / (0.5625 \cdot 15)} = 0.228$.

*A bound.* The Laplace law with $b = 2$ over the normal: (5) is greatest at $x = \tfrac12$, so that
$\log M = \tfrac18 + \log 4 - 0.919 = 0.592$ and $M = 1.81$. In 10 dimensions $M = 373$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `laplace_quantile` | numbers between 0 and 1 | where the Laplace law has that much below | (4) |
| `laplace_bound` | dimension, scale | the best $\log M$ of a Laplace proposal for the standard normal | (5) |
| `cauchy_bound` | scale | the best $\log M$ of a Cauchy proposal for it | (6) |
| `log_acceptance` | $\log f$ and $\log M + \log g$ at some points | $\log \alpha$, if (1) holds there | (2), (1) |
| `accept` | a target, points, the envelope, perhaps a squeeze | which are accepted, and how often $f$ was evaluated | (2), (7) |
| `sample` | a target, a `Proposal`, a bound | `Rejection`: draws and the number of tries | `accept`, batch by batch |
| `evidence` | numbers of draws and tries, a bound | $\log \hat Z$ and its relative error | (9), (10) |

Given are the class `Proposal`, of two functions, and `laplace`, which makes one of your quantiles.

## Pitfalls

- The draws look right but their tails are thin, or their peaks are cut off.
- The far quantiles of the Laplace law come in steps, or are infinite although $u$ is not 0.
- The number of tries is a multiple of the batch.
- The estimate of the evidence is right for many draws and too large for few.
- Nothing is ever accepted, and the program does not end.
- With a squeeze the draws change their law: how many coins has a point?

## Cost

$M / Z$ evaluations of $f$ and of $g$ for a draw, fewer of $f$ with a squeeze. In $d$ dimensions even a good envelope has
an $M$ that grows exponentially with $d$: this is a method for a few dimensions, and the reason for Markov chains.

## Go further

Experiment: sample the standard normal in 1, 2, 4, 8 and 16 dimensions under the best Laplace envelope and plot the tries
per draw. A stretch goal: the gamma sampler of Marsaglia and Tsang [2], which NumPy uses: rejection with a squeeze after a
clever change of variables, accepting more than 95 % of the normal proposals.

What is not here: bounds that are found while sampling, which adaptive rejection sampling does safely for log-concave
densities.

## References

1. von Neumann (1951), Various techniques used in connection with random digits; Devroye (1986), Non-uniform random variate
   generation, chapter II, https://doi.org/10.1007/978-1-4613-8643-8
2. Marsaglia & Tsang (2000), A simple method for generating gamma variables, https://doi.org/10.1145/358407.358414
3. Haldane (1945), On a method of estimating frequencies, https://doi.org/10.1093/biomet/33.3.222
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mlpath.bayes._shared import LogDensity, evaluate

ROUNDING = 1e-8
"""By how much log f may lie above its envelope before that counts as a fault."""


@dataclass(frozen=True)
class Proposal:
    """A density that can be drawn from.

    Attributes
    ----------
    draw : callable
        Called as `draw(n, rng)`; returns n independent draws, of shape (n, dim).
    log_density : callable
        Takes points of shape (n, dim), and returns their log densities, of shape (n,), with the normalising constant.
    """

    draw: Callable[[int, np.random.Generator], np.ndarray]
    log_density: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Rejection:
    """What rejection sampling returns.

    Attributes
    ----------
    draws : ndarray
        The points accepted, in the order in which they were proposed.
    n_tries : int
        How many points were proposed up to the last of `draws`, that one included.
    n_evaluations : int
        At how many points the target was evaluated.
    """

    draws: Float[np.ndarray, "n_draws dim"]
    n_tries: int
    n_evaluations: int


def _check_scale(scale: float) -> None:  # given: argument checks
    """Refuse a scale that is not positive and finite."""
    if not 0 < scale < math.inf:
        raise ValueError(f"scale must be positive and finite, got {scale}")


def laplace_quantile(u: Float[np.ndarray, "..."], *, scale: float) -> Float[np.ndarray, "..."]:
    """Return where the distribution function of the Laplace law is u: the inverse of (4).

    Parameters
    ----------
    u : ndarray
        Numbers from 0 to 1, of any shape.
    scale : float
        The scale b of the law, which is centred at 0.

    Returns
    -------
    ndarray
        A quantile for each u, to full relative precision however small u is; -inf where u is 0, inf where it is 1, without a warning.

    Raises
    ------
    ValueError
        If a u is not between 0 and 1, or `scale` is not positive and finite.

    Examples
    --------
    >>> print(laplace_quantile(np.array([0.0, 0.05, 0.5, 0.75]), scale=1.0).round(4))
    [   -inf -2.3026  0.      0.6931]
    """
    # given: the checks
    _check_scale(scale)
    if not ((u >= 0) & (u <= 1)).all():
        raise ValueError(f"u must lie between 0 and 1, got {u}")
    # yours
    with np.errstate(divide="ignore"):
        return scale * np.where(u <= 0.5, np.log(2 * u), -np.log(2 * (1 - u)))


def laplace(dim: int, *, scale: float) -> Proposal:  # given: a proposal made of your quantiles
    """Return the proposal of independent Laplace coordinates, centred at 0.

    Parameters
    ----------
    dim : int
        Number of coordinates.
    scale : float
        The scale b of each.

    Returns
    -------
    Proposal
        Its draws, and its log density.

    Examples
    --------
    >>> proposal = laplace(2, scale=1.0)
    >>> print(proposal.draw(3, np.random.default_rng(0)).shape, proposal.log_density(np.zeros((1, 2))).round(4))
    (3, 2) [-1.3863]
    """
    _check_scale(scale)

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        # Middles of 2^52 equal cells: never 0 or 1.
        return laplace_quantile((rng.integers(0, 2**52, (n, dim)) + 0.5) / 2.0**52, scale=scale)

    def log_density(x: np.ndarray) -> np.ndarray:
        return -np.abs(x).sum(axis=1) / scale - dim * math.log(2 * scale)

    return Proposal(draw, log_density)


def laplace_bound(dim: int, *, scale: float) -> float:
    r"""Return the best log M of a Laplace envelope over the standard normal density, from (5).

    Parameters
    ----------
    dim : int
        The number of independent coordinates; both densities are products over them.
    scale : float
        The scale b of the proposal, the same in all coordinates.

    Returns
    -------
    float
        The supremum of $\log f - \log g$, where both are normalised.

    Raises
    ------
    ValueError
        If `dim` is below 1, or `scale` is not positive and finite.

    Examples
    --------
    >>> print(f"{laplace_bound(1, scale=2.0):.3f} {laplace_bound(10, scale=2.0):.2f}")
    0.592 5.92
    """
    # given: the checks
    _check_scale(scale)
    if dim < 1:
        raise ValueError(f"dim must be at least 1, got {dim}")
    # yours
    return dim * (0.5 / scale**2 + math.log(2 * scale) - 0.5 * math.log(2 * math.pi))


def cauchy_bound(*, scale: float) -> float:
    r"""Return the best log M of a Cauchy envelope over the standard normal density, from (6).

    Parameters
    ----------
    scale : float
        The scale s of the proposal.

    Returns
    -------
    float
        The supremum of $\log f - \log g$, where both are normalised.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> print(f"{cauchy_bound(scale=0.8):.4f} {cauchy_bound(scale=3.0):.4f}")
    0.4621 1.3244
    """
    # given: the check
    _check_scale(scale)
    # yours
    square = max(2 - scale**2, 0.0)
    return -square / 2 + math.log(scale**2 + square) + math.log(math.sqrt(math.pi / 2) / scale)


def log_acceptance(
    log_target: Float[np.ndarray, " n"], log_envelope: Float[np.ndarray, " n"], points: Float[np.ndarray, "n dim"]
) -> Float[np.ndarray, " n"]:
    r"""Return the logarithm of the acceptance probability, equation (2), at points where (1) holds.

    Parameters
    ----------
    log_target : ndarray
        $\log f$ at the points; -inf outside the support.
    log_envelope : ndarray
        $\log M + \log g$ there, finite.
    points : ndarray
        The points, one a row, for the message.

    Returns
    -------
    ndarray
        $\log \alpha$, never above 0. An excess of at most the given `ROUNDING` = 1e-8 is rounding and counts as 0.

    Raises
    ------
    ValueError
        If $\log f$ lies above the envelope by more than that. The message begins with "log_bound must" and ends with the
        point where the excess is greatest, as its row prints: `f"... {points[row]}"`.

    Examples
    --------
    >>> points = np.array([[0.5, 1.0], [2.0, 0.0]])
    >>> print(log_acceptance(np.array([-2.0, -np.inf]), np.array([-0.5, -1.0]), points))
    [-1.5 -inf]
    >>> log_acceptance(np.array([-2.0, -0.25]), np.array([-0.5, -1.0]), points)
    Traceback (most recent call last):
    ValueError: log_bound must make an envelope, but log f is 0.75 above it at [2. 0.]
    """
    log_alpha = log_target - log_envelope
    worst = int(np.argmax(log_alpha))
    if log_alpha[worst] > ROUNDING:
        excess, point = log_alpha[worst], points[worst]
        raise ValueError(f"log_bound must make an envelope, but log f is {excess:.3g} above it at {point}")
    return np.minimum(log_alpha, 0.0)


def accept(
    log_density_fn: LogDensity,
    points: Float[np.ndarray, "n dim"],
    log_envelope: Float[np.ndarray, " n"],
    *,
    log_squeeze: Float[np.ndarray, " n"] | None = None,
    rng: np.random.Generator,
) -> tuple[Bool[np.ndarray, " n"], int]:
    r"""Toss one coin for each point, by (7) first where there is a squeeze, and by (2) where that did not decide.

    Parameters
    ----------
    log_density_fn : callable
        Computes $\log f$ of each row; -inf outside the support. Call it through the given `evaluate(log_density_fn, points)`,
        once with all the points that need it, and not at all where none does.
    points : ndarray
        What was proposed, one a row.
    log_envelope : ndarray
        $\log M + \log g$ at the points.
    log_squeeze : ndarray, optional
        $\log s$ at the points, -inf where nothing is known. Without it, all points need $\log f$.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    accepted : ndarray
        Whether each point is accepted.
    n_evaluations : int
        At how many points $\log f$ was computed: those that the squeeze did not accept.

    Raises
    ------
    ValueError
        If `log_envelope` is not finite, `log_squeeze` lies above it, $\log f$ lies above it at a point where it is computed (see
        `log_acceptance`), or `log_density_fn` returns what is no log density.

    Examples
    --------
    >>> points, flat = np.array([[-1.0], [0.5], [3.0]]), np.zeros(3)
    >>> def log_density_fn(x):
    ...     return np.where(x[:, 0] > 0, 0.0, -np.inf)
    >>> print(accept(log_density_fn, points, flat, rng=np.random.default_rng(0)))
    (array([False,  True,  True]), 3)
    >>> squeeze = np.array([-np.inf, -np.inf, 0.0])
    >>> print(accept(log_density_fn, points, flat, log_squeeze=squeeze, rng=np.random.default_rng(0)))
    (array([False,  True,  True]), 2)
    """
    # given: the checks
    if not np.isfinite(log_envelope).all():
        raise ValueError(f"log_envelope must be finite, got {log_envelope[~np.isfinite(log_envelope)][0]}")
    if log_squeeze is None:
        log_squeeze = np.full(len(points), -np.inf)
    if not (log_squeeze <= log_envelope + ROUNDING).all():
        raise ValueError(f"log_squeeze must lie below log_envelope, got {(log_squeeze - log_envelope).max()} above it")
    # yours
    coin = -rng.standard_exponential(len(points))
    accepted = coin <= log_squeeze - log_envelope
    left = ~accepted
    if left.any():
        log_target = evaluate(log_density_fn, points[left])
        accepted[left] = coin[left] <= log_acceptance(log_target, log_envelope[left], points[left])
    return accepted, int(left.sum())


def sample(
    log_density_fn: LogDensity,
    proposal: Proposal,
    log_bound: float,
    n_draws: int,
    *,
    log_squeeze_fn: LogDensity | None = None,
    batch_size: int = 1000,
    max_tries: int = 1_000_000,
    rng: np.random.Generator,
) -> Rejection:
    r"""Propose points batch by batch until enough are accepted.

    Parameters
    ----------
    log_density_fn : callable
        Computes $\log f$ of each row; -inf outside the support.
    proposal : Proposal
        Its `draw(n, rng)` returns n points, its `log_density(points)` their $\log g$.
    log_bound : float
        $\log M$.
    n_draws : int
        How many draws are wanted.
    log_squeeze_fn : callable, optional
        Computes $\log s$ of each row.
    batch_size : int
        How many points are proposed at a time. It changes speed, and not the law of the draws or of `n_tries`.
    max_tries : int
        No more points than this are proposed altogether: the last batch may have to be smaller.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Rejection
        With three fields: `draws`, the first `n_draws` points that were accepted, in the order in which they were proposed, of shape
        (n_draws, dim); `n_tries`, how many points were proposed up to the last of these, itself included: what comes after it in
        its batch does not count; `n_evaluations`, at how many points $\log f$ was computed, the whole last batch included.

    Raises
    ------
    ValueError
        If a number is below 1 or `log_bound` is not finite, if `log_density_fn` returns what is no log density or lies above the
        envelope, or if `max_tries` points have given fewer than `n_draws` draws: then the message begins with "max_tries must"
        and ends with `max_tries`.

    Examples
    --------
    >>> result = sample(
    ...     lambda x: -(x**2).sum(axis=1) / 2 - math.log(2 * math.pi) / 2,
    ...     laplace(1, scale=1.0),
    ...     laplace_bound(1, scale=1.0),
    ...     20_000,
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(result.draws.shape, f"{result.draws.var():.2f} {result.n_tries / 20_000:.2f}")
    (20000, 1) 1.02 1.32
    """
    # given: the checks
    for name, value in (("n_draws", n_draws), ("batch_size", batch_size), ("max_tries", max_tries)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not math.isfinite(log_bound):
        raise ValueError(f"log_bound must be finite, got {log_bound}")
    # yours
    kept, tries, n_tries, n_evaluations = [], [], 0, 0
    while sum(map(len, kept)) < n_draws:
        if n_tries == max_tries:
            raise ValueError(
                f"max_tries must suffice for {n_draws} draws; there were {sum(map(len, kept))} after {max_tries}"
            )
        points = proposal.draw(min(batch_size, max_tries - n_tries), rng)
        log_envelope = log_bound + proposal.log_density(points)
        log_squeeze = None if log_squeeze_fn is None else log_squeeze_fn(points)
        accepted, evaluated = accept(log_density_fn, points, log_envelope, log_squeeze=log_squeeze, rng=rng)
        kept.append(points[accepted])
        tries.append(n_tries + 1 + np.flatnonzero(accepted))
        n_tries, n_evaluations = n_tries + len(points), n_evaluations + evaluated
    return Rejection(np.concatenate(kept)[:n_draws], int(np.concatenate(tries)[n_draws - 1]), n_evaluations)


def evidence(n_draws: int, n_tries: int, log_bound: float) -> tuple[float, float]:
    r"""Estimate the mass Z of the target from how many tries its draws took, by (9) and (10).

    Parameters
    ----------
    n_draws : int
        The number n of draws, fixed beforehand.
    n_tries : int
        The number N of tries up to the last of them.
    log_bound : float
        $\log M$.

    Returns
    -------
    log_evidence : float
        $\log \hat Z$.
    relative_error : float
        The standard error of $\hat Z$ as a share of $\hat Z$.

    Raises
    ------
    ValueError
        If `n_draws` is below 3, or `n_tries` is below `n_draws`.

    Examples
    --------
    >>> log_evidence, relative_error = evidence(10, 17, math.log(4 / 9))
    >>> print(f"{math.exp(log_evidence):.4f} {relative_error:.4f}")
    0.2500 0.2277
    """
    # given: the checks
    if n_draws < 3:
        raise ValueError(f"n_draws must be at least 3, got {n_draws}")
    if n_tries < n_draws:
        raise ValueError(f"n_tries must be at least n_draws = {n_draws}, got {n_tries}")
    # yours
    share = (n_draws - 1) / (n_tries - 1)
    return log_bound + math.log(share), math.sqrt((1 - share) / (share * (n_tries - 2)))
