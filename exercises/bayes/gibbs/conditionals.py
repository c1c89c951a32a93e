r"""Gibbs sampling from full conditionals: a normal distribution, and a change point.

## Idea

A distribution of many variables may be hard to draw from, although each variable alone is easy once the others are held. So
go round: draw each variable from what it is given all the others. No step is ever rejected. The price is that variables
which depend strongly on each other can only move together by many small steps, unless they are drawn as one block.

## Maths

We want draws from $\pi(x)$, and split the coordinates of $x$ into a *block* $B$ and the rest $R$. An *update* of $B$
replaces $x_B$ by a draw from the *full conditional* $\pi(x_B \mid x_R)$ and leaves $x_R$ alone. If $x$ has the law $\pi$,
then $x_R$ has its marginal law $\pi(x_R)$, and the new pair the law

$$\pi(x_R)\, \pi(x_B' \mid x_R) = \pi(x_B', x_R), \tag{1}$$

which is $\pi$ again: an update leaves $\pi$ invariant, and so does any sequence of updates. One update of every block in
turn is a *sweep* of the *systematic scan*; in a *random scan* a coin chooses each block.

**A normal distribution** with the mean $m$ and the precision $\Lambda$, the inverse of the covariance, has

$$\log \pi(x) = -\tfrac{1}{2} (x - m)^\top \Lambda\, (x - m) + \text{const}. \tag{2}$$

Hold $x_R$, and collect what depends on $x_B$: with $u = x_B - m_B$ and $v = x_R - m_R$ it is
$-\tfrac{1}{2} u^\top \Lambda_{BB}\, u - u^\top \Lambda_{BR}\, v$. Complete the square in $u$: this is a normal density of
$x_B$, and you can read off

$$x_B \mid x_R \sim \mathcal{N}(\mu_{B|R},\ \Sigma_{B|R}), \qquad \Sigma_{B|R} = \Lambda_{BB}^{-1}. \tag{3}$$

The mean $\mu_{B|R}$ is where the gradient in $u$ vanishes. No covariance need be inverted, and where $\Lambda$ has zeros,
those coordinates do not matter.

**How fast it forgets.** By (3) the mean after an update is linear in $x - m$: there is a matrix $A_B$ with

$$\mathbb{E}[x' - m \mid x] = A_B\, (x - m). \tag{4}$$

It is the identity, except for the rows of $B$. Updates of the blocks $1, \dots, k$, in this order, multiply, the last on
the left:

$$A = A_k \cdots A_2\, A_1. \tag{5}$$

So the correlation with the start dies out like the powers of the largest eigenvalue of $A$ in size. For two standard
normal variables with the correlation $\rho$, drawn one after the other, (3) gives $x_1' = \rho\, x_2 + \dots$ and
$x_2' = \rho\, x_1' + \dots$, so

$$A = \begin{pmatrix} 0 & \rho \\ 0 & \rho^2 \end{pmatrix}: \tag{6}$$

the autocorrelation is $\rho^2$ a sweep, to the power of the number of sweeps. At $\rho = 0.99$ it takes some 35 sweeps to
halve it. In a random scan with $k$ blocks, one update has the mean matrix $\tfrac{1}{k} \sum_B A_B$.

**A change point.** In the years $t = 1, \dots, n$ there were $y_t$ accidents. Until some year they came at the rate
$\lambda_1$, afterwards at the rate $\lambda_2$; let $c$ be the number of years of the first kind, $1 \le c \le n - 1$:

$$y_t \sim \text{Poisson}(\lambda_1)\ \text{ for } t \le c, \qquad y_t \sim \text{Poisson}(\lambda_2)\ \text{ for } t > c. \tag{7}$$

All $c$ are equally likely beforehand, and both rates have a gamma prior, independently, with the density proportional to
$\lambda^{a - 1} e^{-b \lambda}$: $a$ is its *shape*, $b$ its *rate*. Write $S_c = y_1 + \dots + y_c$. The joint density
of all is the product

$$p(c, \lambda, y) \propto \lambda_1^{a - 1 + S_c}\, e^{-(b + c) \lambda_1}\ \lambda_2^{a - 1 + S_n - S_c}\, e^{-(b + n - c) \lambda_2}. \tag{8}$$

Read as a function of $\lambda_1$ alone, it is a gamma density; so is that of $\lambda_2$, and given $c$ the two are
independent. They are the first conditional. Read as a function of $c$ alone, it is a table of $n - 1$ numbers, to be
normalised:

$$p(c \mid \lambda, y) \propto \lambda_1^{S_c}\, e^{-c \lambda_1}\, \lambda_2^{S_n - S_c}\, e^{-(n - c) \lambda_2}. \tag{9}$$

That is the second. Work in logarithms: a rate to the power of a thousand accidents overflows. The largest logarithm is
subtracted before anything is exponentiated.

**The exact answer.** As $\int_0^\infty \lambda^{s - 1} e^{-r \lambda}\, \mathrm{d}\lambda = \Gamma(s) / r^s$, the rates
can be integrated out of (8):

$$p(c \mid y) \propto \frac{\Gamma(a + S_c)}{(b + c)^{a + S_c}} \cdot \frac{\Gamma(a + S_n - S_c)}{(b + n - c)^{a + S_n - S_c}}. \tag{10}$$

So nobody needs a sampler here; but that lets us see whether it is right. (`scipy.special.gammaln` is $\log \Gamma$.)

## Worked example

*Three in a row.* Let $m = 0$ and $\Lambda$ have the rows $(2, -1, 0)$, $(-1, 2, -1)$ and $(0, -1, 2)$. By (3), $x_2$
given the others is normal with the mean $(x_1 + x_3) / 2$ and the variance $\tfrac{1}{2}$; $x_1$ and $x_3$ have the mean
$x_2 / 2$ and the same variance. One after the other, by (5),

$$A = \begin{pmatrix} 0 & 1/2 & 0 \\ 0 & 1/4 & 1/2 \\ 0 & 1/8 & 1/4 \end{pmatrix},$$

with the eigenvalues $0$, $0$ and $\tfrac{1}{2}$. Draw the first two as one block instead, of covariance
$\tfrac{1}{3} (2, 1;\ 1, 2)$ and mean $(x_3 / 3,\ 2 x_3 / 3)$: then $x_3$ follows with the mean $x_2' / 2$, and the
largest eigenvalue is $\tfrac{1}{3}$.

*Four years* with 3, 5, 0 and 1 accidents, and $a = b = 1$. For $c = 1, 2, 3$ (10) gives 0.0165, 0.2276 and 0.0385, which
are normalised 0.058, 0.806 and 0.136. Given $c = 2$, $\lambda_1$ has the shape 9 and the rate 3, so the mean 3;
$\lambda_2$ has the shape 2 and the rate 3, so the mean 0.667. Were these the rates, the probabilities (9) would be 0.005,
0.907 and 0.088.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `conditional` | positions, a normal distribution, a block | mean and covariance of the block given the rest | (3) |
| `redraw` | the same | positions with the block drawn anew | (1), (3) |
| `sweep_matrix` | precision, blocks | the matrix of a sweep | (4), (5) |
| `sample_normal` | starting positions, blocks, a scan | draws | `redraw`, over and over |
| `draw_rates` | counts, change points | rates before and after | (8) |
| `log_change_given_rates` | counts, rates | log probabilities of the change points | (9) |
| `log_change_posterior` | counts, prior | the same without rates | (10) |
| `sample_change_point` | counts, starting change points | `ChangePoints` | both conditionals in turn |

All chains of a batch move at once, each with random numbers of its own. A block is an array of the numbers of its
coordinates, counted from 0.

## Pitfalls

- The draws are too narrow, or have the right variances and lost their correlations.
- The second block is drawn given where the first was, not where it is.
- All chains of a random scan move the same block at the same time.
- The change point is off by one: is the year $c$ the last of the old kind or the first of the new?
- NumPy's gamma generator asks for a *scale*, which is one over the rate.
- Probabilities that are `nan` where there are many accidents.

## Cost

A sweep costs $O(n_\text{chains} \cdot \text{dim}^2)$ besides the factorisations of the blocks, which do not depend on the
positions and could be kept. A step for the change point costs $O(n_\text{chains} \cdot n)$.

## Go further

Experiment: plot the autocorrelation of a sweep against $\rho$, measured from your draws, together with $\rho^2$. Then
rotate the coordinates by 45 degrees: what is left of the trouble? A stretch goal: give $b$ a gamma prior of its own, and
draw it as well.

What is not here: conditionals that are no known distribution. Draw those with a step of Metropolis and Hastings, or by
slice sampling.

## References

1. Geman & Geman (1984), Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of images,
   https://doi.org/10.1109/TPAMI.1984.4767596
2. Gelfand & Smith (1990), Sampling-based approaches to calculating marginal densities,
   https://doi.org/10.1080/01621459.1990.10476213
3. Roberts & Sahu (1997), on blocks, scans and rates of convergence, https://doi.org/10.1111/1467-9868.00070
4. Carlin, Gelfand & Smith (1992), Hierarchical Bayesian analysis of changepoint problems, https://doi.org/10.2307/2347570
5. Jarrett (1979), A note on the intervals between coal-mining disasters, https://doi.org/10.1093/biomet/66.1.191
"""

# 8 parts to write. Test them with: pytest exercises/bayes/gibbs/conditionals.py
# To be written without: pymc, numpyro, scipy.stats, numpy.random.multivariate_normal

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class ChangePoints:
    """What `sample_change_point` returns, after each step of each chain."""

    change: Int[np.ndarray, "n_chains n_draws"]
    """The number c of years before the change, from 1 to n_years - 1."""
    rates: Float[np.ndarray, "n_chains n_draws 2"]
    """The rates before and after the change."""


def _check_precision(precision: np.ndarray, dim: int) -> None:  # given: argument checks
    """Refuse what is no symmetric, positive definite matrix of `dim` rows."""
    if precision.shape != (dim, dim) or not np.isfinite(precision).all():
        raise ValueError(f"precision must be finite and have shape {(dim, dim)}, got {precision}")
    if not np.allclose(precision, precision.T) or not np.linalg.eigvalsh(precision)[0] > 0:
        raise ValueError(f"precision must be symmetric and positive definite, got {precision}")


def _check_block(block: np.ndarray, dim: int) -> None:  # given: argument checks
    """Refuse a block that is empty, or names a coordinate twice or one that is not there."""
    if block.ndim != 1 or block.size == 0 or not ((block >= 0) & (block < dim)).all() or len({*block}) < len(block):
        raise ValueError(f"block must be different numbers from 0 to {dim - 1}, got {block}")


def _check_position(position: np.ndarray, mean: np.ndarray) -> None:  # given: argument checks
    """Refuse positions or a mean that are not finite, or do not fit together."""
    if mean.ndim != 1 or mean.size == 0 or not np.isfinite(mean).all():
        raise ValueError(f"mean must be a vector of finite numbers, got {mean}")
    if position.ndim != 2 or position.shape[1:] != mean.shape or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, {len(mean)}), got {position}")


def _check_counts(counts: np.ndarray) -> None:  # given: argument checks
    """Refuse what are no counts of two years or more."""
    if counts.ndim != 1 or len(counts) < 2 or counts.min() < 0:
        raise ValueError(f"counts must be two or more numbers, none of them negative, got {counts}")


def _check_prior(shape: float, rate: float) -> None:  # given: argument checks
    """Refuse a gamma prior that is none."""
    if not 0 < shape < np.inf:
        raise ValueError(f"shape must be positive and finite, got {shape}")
    if not 0 < rate < np.inf:
        raise ValueError(f"rate must be positive and finite, got {rate}")


def _check_change(change: np.ndarray, n_years: int) -> None:  # given: argument checks
    """Refuse change points that leave no year before or after."""
    if change.ndim != 1 or not ((change >= 1) & (change < n_years)).all():
        raise ValueError(f"change must be a vector of numbers from 1 to {n_years - 1}, got {change}")


def conditional(
    position: Float[np.ndarray, "n_chains dim"],
    mean: Float[np.ndarray, " dim"],
    precision: Float[np.ndarray, "dim dim"],
    block: Int[np.ndarray, " size"],
) -> tuple[Float[np.ndarray, "n_chains size"], Float[np.ndarray, "size size"]]:
    r"""Return mean and covariance of some coordinates of a normal distribution given the others, equation (3).

    Parameters
    ----------
    position : ndarray
        Where the chains are, one a row. The entries of the block itself do not matter.
    mean : ndarray
        $m$.
    precision : ndarray
        $\Lambda$, the inverse of the covariance: symmetric and positive definite.
    block : ndarray
        The coordinates that are drawn, counted from 0: different ones, in any order, and perhaps all.

    Returns
    -------
    mean : ndarray
        $\mu_{B|R}$, a row for each chain, in the order of `block`.
    covariance : ndarray
        $\Sigma_{B|R}$, in the order of `block`; the same for all chains.

    Raises
    ------
    ValueError
        If `position`, `mean`, `precision` or `block` is not as said above, or not finite.

    Examples
    --------
    >>> precision = np.array([[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]])
    >>> mean, covariance = conditional(np.array([[4.0, 9.0, 1.0]]), np.zeros(3), precision, np.array([1]))
    >>> print(mean, covariance)
    [[2.5]] [[0.5]]
    """
    # given: the checks
    _check_position(position, mean)
    _check_precision(precision, len(mean))
    _check_block(block, len(mean))
    raise NotImplementedError("not written yet: conditional")


def redraw(
    position: Float[np.ndarray, "n_chains dim"],
    mean: Float[np.ndarray, " dim"],
    precision: Float[np.ndarray, "dim dim"],
    block: Int[np.ndarray, " size"],
    *,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n_chains dim"]:
    r"""Replace some coordinates by a draw from what they are given the others, equations (1) and (3).

    Parameters
    ----------
    position : ndarray
        Where the chains are, one a row. It is not changed.
    mean, precision : ndarray
        The normal distribution.
    block : ndarray
        The coordinates to draw, counted from 0: different ones, in any order. They are drawn together, with their
        covariance.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The new positions. The coordinates outside the block are those of `position`.

    Raises
    ------
    ValueError
        As `conditional`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> here = np.array([[4.0, 9.0, 1.0], [0.0, 0.0, 0.0]])
    >>> there = redraw(here, np.zeros(3), 1e8 * np.eye(3), np.array([2, 1]), rng=rng)
    >>> print(abs(there).round(2))
    [[4. 0. 0.]
     [0. 0. 0.]]
    """
    raise NotImplementedError("not written yet: redraw")


def sweep_matrix(
    precision: Float[np.ndarray, "dim dim"], blocks: Sequence[Int[np.ndarray, " _"]]
) -> Float[np.ndarray, "dim dim"]:
    r"""Return the matrix that a sweep multiplies the expected distance from the mean by, equations (4) and (5).

    Parameters
    ----------
    precision : ndarray
        $\Lambda$, symmetric and positive definite.
    blocks : sequence of ndarray
        The blocks in the order in which they are updated. They may overlap, and need not name every coordinate; what none
        names stays. A single block makes the matrix $A_B$ of one update.

    Returns
    -------
    ndarray
        $A$, for columns: the expectation of $x' - m$ after the sweep is $A (x - m)$.

    Raises
    ------
    ValueError
        If `precision` is not symmetric and positive definite, or a block is not as `conditional` wants it.

    Examples
    --------
    >>> precision = np.linalg.inv(np.array([[1.0, 0.8], [0.8, 1.0]]))
    >>> print(sweep_matrix(precision, [np.array([0]), np.array([1])]).round(4) + 0.0)
    [[0.   0.8 ]
     [0.   0.64]]
    """
    # given: the checks
    dim = len(precision)
    _check_precision(precision, dim)
    for block in blocks:
        _check_block(block, dim)
    raise NotImplementedError("not written yet: sweep_matrix")


def sample_normal(
    position: Float[np.ndarray, "n_chains dim"],
    mean: Float[np.ndarray, " dim"],
    precision: Float[np.ndarray, "dim dim"],
    n_draws: int,
    *,
    blocks: Sequence[Int[np.ndarray, " _"]],
    scan: Literal["systematic", "random"] = "systematic",
    rng: np.random.Generator,
) -> Float[np.ndarray, "n_chains n_draws dim"]:
    """Draw from a normal distribution by updating block after block.

    Parameters
    ----------
    position : ndarray
        Where the chains start, one a row. Not itself recorded, nor changed.
    mean, precision : ndarray
        The normal distribution.
    n_draws : int
        How many draws to record of each chain.
    blocks : sequence of ndarray
        Blocks as `redraw` takes them. Each coordinate is in one of them at least.
    scan : {"systematic", "random"}
        With "systematic", each block is updated once between two draws, in the given order. With "random", there are
        equally many updates between two draws, `len(blocks)`, but the block of each update is drawn at random, all
        equally likely, and for each chain by itself.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The positions after each sweep, or after each `len(blocks)` updates.

    Raises
    ------
    ValueError
        As `redraw`, and if `n_draws` is below 1, `scan` is another word than these two, or `blocks` leave out a coordinate.

    Examples
    --------
    >>> precision = np.linalg.inv(np.array([[1.0, 0.8], [0.8, 1.0]]))
    >>> blocks, rng = [np.array([0]), np.array([1])], np.random.default_rng(0)
    >>> draws = sample_normal(np.zeros((1000, 2)), np.array([5.0, 7.0]), precision, 20, blocks=blocks, rng=rng)
    >>> print(draws.shape, draws[:, -1].mean(axis=0).round(1), np.corrcoef(draws[:, -1].T)[0, 1].round(1))
    (1000, 20, 2) [5. 7.] 0.8
    """
    # given: the checks
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    if scan not in ("systematic", "random"):
        raise ValueError(f"scan must be 'systematic' or 'random', got {scan!r}")
    if missing := {*range(len(mean))} - {int(i) for block in blocks for i in block}:
        raise ValueError(f"blocks must name every coordinate, got none with {sorted(missing)}")
    raise NotImplementedError("not written yet: sample_normal")


def draw_rates(
    counts: Int[np.ndarray, " n_years"],
    change: Int[np.ndarray, " n_chains"],
    *,
    shape: float,
    rate: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "n_chains 2"]:
    r"""Draw the rates before and after the change from what they are given the change point, by equation (8).

    Parameters
    ----------
    counts : ndarray
        $y_t$, the number of accidents of each year.
    change : ndarray
        $c$ of each chain, from 1 to n_years - 1: so many years are before the change.
    shape, rate : float
        $a$ and $b$ of the gamma prior of both rates, whose mean is $a / b$.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        $\lambda_1$ and $\lambda_2$ of each chain, each drawn by itself.

    Raises
    ------
    ValueError
        If `counts` are fewer than two or negative, a `change` leaves no year before or after, or `shape` or `rate` is not
        positive and finite.

    Examples
    --------
    >>> counts, rng = np.array([9000, 15000, 0, 3000]), np.random.default_rng(0)
    >>> print(draw_rates(counts, np.array([2, 1]), shape=1.0, rate=1.0, rng=rng).round(-2))
    [[8000. 1000.]
     [4500. 4500.]]
    """
    # given: the checks
    _check_counts(counts)
    _check_change(change, len(counts))
    _check_prior(shape, rate)
    raise NotImplementedError("not written yet: draw_rates")


def log_change_given_rates(
    counts: Int[np.ndarray, " n_years"], rates: Float[np.ndarray, "n_chains 2"]
) -> Float[np.ndarray, "n_chains n_changes"]:
    r"""Return the log probabilities of the change points given the rates, equation (9).

    Parameters
    ----------
    counts : ndarray
        $y_t$, the number of accidents of each year.
    rates : ndarray
        $\lambda_1$ and $\lambda_2$ of each chain, positive.

    Returns
    -------
    ndarray
        $\log p(c \mid \lambda, y)$ for $c = 1, \dots, n - 1$, of each chain: there are n_years - 1 columns, the first of which
        belongs to $c = 1$. The probabilities of a row sum to 1.

    Raises
    ------
    ValueError
        If `counts` are fewer than two or negative, or `rates` are no positive, finite numbers of shape (n_chains, 2).

    Examples
    --------
    >>> log_p = log_change_given_rates(np.array([3, 5, 0, 1]), np.array([[3.0, 2 / 3]]))
    >>> print(np.exp(log_p).round(3))
    [[0.005 0.907 0.088]]
    """
    # given: the checks
    _check_counts(counts)
    if rates.ndim != 2 or rates.shape[1] != 2 or not ((rates > 0) & (rates < np.inf)).all():
        raise ValueError(f"rates must be positive and finite, of shape (n_chains, 2), got {rates}")
    raise NotImplementedError("not written yet: log_change_given_rates")


def log_change_posterior(
    counts: Int[np.ndarray, " n_years"], *, shape: float, rate: float
) -> Float[np.ndarray, " n_changes"]:
    r"""Return the log probabilities of the change points with the rates integrated out, equation (10).

    Parameters
    ----------
    counts : ndarray
        $y_t$, the number of accidents of each year.
    shape, rate : float
        $a$ and $b$ of the gamma prior of both rates.

    Returns
    -------
    ndarray
        $\log p(c \mid y)$ for $c = 1, \dots, n - 1$; the probabilities sum to 1.

    Raises
    ------
    ValueError
        If `counts` are fewer than two or negative, or `shape` or `rate` is not positive and finite.

    Examples
    --------
    >>> print(np.exp(log_change_posterior(np.array([3, 5, 0, 1]), shape=1.0, rate=1.0)).round(3))
    [0.058 0.806 0.136]
    """
    # given: the checks
    _check_counts(counts)
    _check_prior(shape, rate)
    raise NotImplementedError("not written yet: log_change_posterior")


def sample_change_point(
    counts: Int[np.ndarray, " n_years"],
    change: Int[np.ndarray, " n_chains"],
    n_draws: int,
    *,
    shape: float,
    rate: float,
    rng: np.random.Generator,
) -> ChangePoints:
    """Draw change points and rates in turn, each given the other.

    Parameters
    ----------
    counts : ndarray
        The number of accidents of each year.
    change : ndarray
        The change point that each chain starts from, from 1 to n_years - 1. Not itself recorded, nor changed.
    n_draws : int
        Number of steps. In each, first the rates are drawn given the change point, and then a change point given these
        rates; recorded are the two as they are after the step.
    shape, rate : float
        The gamma prior of both rates.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ChangePoints
        With the fields `change`, whole numbers of shape (n_chains, n_draws), and `rates`, (n_chains, n_draws, 2).

    Raises
    ------
    ValueError
        As `draw_rates`, and if `n_draws` is below 1; or if a rate is drawn that is 0 in floating point, as happens where there are
        no accidents and `shape` is below 0.05 or so.

    Examples
    --------
    >>> counts, rng = np.array([8, 10, 9, 7, 0, 1, 2, 0, 1]), np.random.default_rng(0)
    >>> found = sample_change_point(counts, np.full(200, 7), 50, shape=1.0, rate=1.0, rng=rng)
    >>> print(found.change.shape, np.bincount(found.change[:, -1]).argmax(), found.rates[:, -1].mean(axis=0).round())
    (200, 50) 4 [7. 1.]
    """
    # given: the check of what the parts do not check
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    raise NotImplementedError("not written yet: sample_change_point")
