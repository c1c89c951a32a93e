r"""Effective sample size: how many independent draws a Markov chain's draws are worth.

## Idea

A chain that moves slowly says nearly the same thing many times. The error of its mean is that of an average over fewer,
independent draws, and their number is the effective sample size. It follows from the autocorrelations of the chain, which
must be added up; and that must stop somewhere, for far out there is nothing but noise.

## Maths

Draws $\theta_{mt}$ of one quantity, from chains $m = 1 \dots M$ at steps $t = 1 \dots n$; $S = M n$ in all.

**What correlation costs.** For a stationary chain with variance $\sigma^2$ and autocorrelations $\rho_t$,

$$\operatorname{Var}(\bar\theta) = \frac{1}{S^2} \sum_{s, t} \operatorname{Cov} \approx \frac{\sigma^2}{S} \Big( 1 + 2 \sum_{t \ge 1} \rho_t \Big)
= \frac{\sigma^2 \tau}{S}, \tag{1}$$

since a pair at distance $t$ occurs about $2 S$ times, counted both ways. So $S$ draws are worth $S / \tau$ independent
ones. For $x_t = \varphi x_{t-1} + \text{noise}$, $\rho_t = \varphi^t$ and $\tau = (1 + \varphi) / (1 - \varphi)$.

**Autocovariances.** Of each chain, with its own mean and the divisor $n$ at every lag $t = 0 \dots n - 1$,

$$\hat\gamma_{m, t} = \frac{1}{n} \sum_{i=1}^{n-t} (\theta_{mi} - \bar\theta_m)(\theta_{m, i+t} - \bar\theta_m). \tag{2}$$

All lags at once are a correlation of the deviations with themselves, which the Fourier transform turns into a product:
the squared modulus of the transform, transformed back. But the transform thinks that a sequence begins again where it
ends. Lengthened by as many zeros as it has entries, it never meets itself.

**Chains together.** Let $W$ be the average of the chains' variances with divisor $n - 1$, and

$$\hat V = \frac{n - 1}{n} W + \frac{1}{M - 1} \sum_m (\bar\theta_m - \bar\theta)^2 \tag{3}$$

(without the second term for $M = 1$): the variance of all, as in R-hat. Of it, $W - \frac{1}{M} \sum_m \hat\gamma_{m,t}$
is what two draws of one chain at distance $t$ differ by, so that

$$\hat\rho_0 = 1, \qquad \hat\rho_t = 1 - \frac{W - \frac{1}{M} \sum_m \hat\gamma_{m, t}}{\hat V} \quad (t = 1 \dots n - 1). \tag{4}$$

Where the chains disagree, $\hat V$ is larger than $W$, and all $\hat\rho_t$ stay above zero: the sample size falls to
about $M$.

**Where to stop.** For a reversible chain the sums of neighbours, $\Gamma_k = \rho_{2k} + \rho_{2k+1}$, are positive and
decreasing in $k$ (Geyer [2]). Noise is neither. So let $\hat P_k = \hat\rho_{2k} + \hat\rho_{2k+1}$ for all $k \ge 0$
with $2k + 1 \le n - 2$, and let $K$ be the first $k$ with $\hat P_k \le 0$, or the last $k$ there is if all are positive.
(With $n = 2$ only $K = 0$ is left.) Below $K$ a sum may not be larger than any before it:

$$\hat\tau = -1 + 2 \sum_{k < K} \min_{j \le k} \hat P_j + \max(\hat\rho_{2K}, 0). \tag{5}$$

The last term, which counts once, takes what may be left of the first pair that was dropped.

**The sample size.** A chain that swings back and forth has negative correlations and $\tau < 1$: it is better than
independent draws. How much better is hard to estimate, so that $\hat\tau$ is kept from falling too low:

$$\text{ESS} = \frac{S}{\max\{ \hat\tau,\ 1 / \log_{10} S \}}. \tag{6}$$

**For what.** (6) of the draws themselves is for their mean; it needs a variance. *Bulk*: (6) of the normal scores of the
halves of the chains, as in R-hat. *A quantile*: with $q_p$ the $p$-quantile of all draws (linear interpolation), (6) of
the halves of the indicators $[\theta_{mt} \le q_p]$. *Tail*: the smaller one of those for $p = 5\,\%$ and $95\,\%$.

**Errors.** With (6) of the halves of the draws, and $s^2$ the variance of all draws (divisor $S - 1$), the mean has the
standard error

$$\text{MCSE}_{\text{mean}} = \frac{s}{\sqrt{\text{ESS}(\theta)}}. \tag{7}$$

For the standard deviation let $d = (\theta - \bar\theta)^2$ with the mean of all draws. Its mean $\bar d$ has the
variance $v = (\overline{d^2} - \bar d^2) / \text{ESS}(d)$, and the root of it, to first order, $v / (4 \bar d)$:

$$\text{MCSE}_{\text{sd}} = \sqrt{ \frac{\overline{d^2} - \bar d^2}{4\, \bar d\ \text{ESS}(d)} }. \tag{8}$$

*A quantile* $q_p$: of $E = \text{ESS}$ independent draws, with a flat prior, the share that lies below it has the law
Beta$(E p + 1, E (1 - p) + 1)$. Let $a < b$ be its quantiles at $\Phi(-1)$ and $\Phi(1)$ (15.9 % and 84.1 %), and
$\theta_{(1)} \le \dots \le \theta_{(S)}$ the sorted draws. Then

$$\text{MCSE}_{q_p} = \frac{1}{2} \big( \theta_{(u)} - \theta_{(l)} \big), \qquad l = \max(\lfloor a S \rfloor, 1), \quad u = \min(\lceil b S \rceil, S). \tag{9}$$

## Worked example

Chains $(2, 4, 3, 5, 6, 4, 7, 5)$ and $(3, 5, 4, 2, 3, 1, 2, 4)$, with means 4.5 and 3. By (2), averaged over both,
$\hat\gamma$ is 1.875, 0.203, 0.156, $-0.016$, $-0.813$, $-0.109$, ...; $W = 2.143$ and $\hat V = 1.875 + 1.125 = 3$. By
(4) $\hat\rho$ is 1, 0.353, 0.338, 0.281, 0.015, 0.249, 0.192, 0.260: the chains disagree. With $n = 8$ there are three
pairs, 1.353, 0.618 and 0.264, all positive, so $K = 2$. Then $\hat\tau = -1 + 2 \cdot (1.353 + 0.618) + 0.015 = 2.958$
and, as $1 / \log_{10} 16 = 0.83$, the effective sample size is $16 / 2.958 = 5.4$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `autocovariance` | chains | those of each at all lags | (2) |
| `autocorrelation` | chains | that of all together | (3), (4) |
| `integrated_time` | autocorrelations | $\hat\tau$ | (5) |
| `ess` | chains as they are | a number | (6) |
| `bulk_ess` | draws | a number | (6) of halves' scores |
| `tail_ess` | draws, probabilities | a number | (6) of halves' indicators |
| `mcse` | draws | errors of mean and standard deviation | (7), (8) |
| `mcse_quantile` | draws, a probability | the error of the quantile | (9) |

Draws have the shape (n_chains, n_draws): of a sampler's `Draws` take one coordinate, `run.draws[:, :, 0]`. From
`mlpath.bayes.diagnostics.r_hat` come `split_chains` and `normal_scores`. Given is `autocorrelation_figure`.

## Pitfalls

- The autocovariances are symmetric: lag 1 equals the last lag.
- The estimate gets worse with longer chains, as more and more noise is added up.
- A bimodal target, each chain in a mode of its own, and an effective sample size in the thousands.
- With few draws the result is that of the bound in (6), and means little: have 100 draws a chain at least.
- Ties: where 97 % of the draws are equal, an indicator may be the same for all of them.

## Cost

$O(S \log n)$ for the transforms, $O(S \log S)$ for ranks and quantiles.

## Go further

Experiment: sample a correlated normal distribution by `metropolis_hastings` with different scales, and find the scale
with the largest ESS per step. A stretch goal: compare with batch means, the variance of the means of stretches of length
$\sqrt{n}$.

Departures: [1] and ArviZ 0.8 take the ESS of the mean in (8), which makes the error too small for chains that swing back
and forth; here it is that of the squared deviations. Where all draws are equal we return NaN, ArviZ their number.

## References

1. Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Rank-normalization, folding, and localization: an improved R-hat,
   https://doi.org/10.1214/20-BA1221, https://arxiv.org/abs/1903.08008
2. Geyer (1992), Practical Markov chain Monte Carlo, https://doi.org/10.1214/ss/1177011137
"""

# 8 parts to write. Test them with: pytest exercises/bayes/diagnostics/effective_sample_size.py
# To be written without: arviz, arviz_stats, emcee

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from mlpath.bayes.diagnostics.r_hat import normal_scores, split_chains

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def autocovariance(chains: Float[np.ndarray, "n_chains n_draws"]) -> Float[np.ndarray, "n_chains n_draws"]:
    """Return the autocovariances of each chain at all lags, equation (2), in O(n log n) a chain.

    Parameters
    ----------
    chains : ndarray
        One chain a row.

    Returns
    -------
    ndarray
        In column t that of lag t, from 0 to n_draws - 1.

    Raises
    ------
    ValueError
        If `chains` is no matrix of finite numbers with at least one chain and two draws.

    Examples
    --------
    >>> print(autocovariance(np.array([[1.0, 3.0, 2.0, 2.0]])).round(4) + 0.0)
    [[ 0.5  -0.25  0.    0.  ]]
    """
    # given: the check
    _check(chains)
    raise NotImplementedError("not written yet: autocovariance")


def autocorrelation(chains: Float[np.ndarray, "n_chains n_draws"]) -> Float[np.ndarray, " n_draws"]:
    """Return the autocorrelations of all chains together, equations (3) and (4).

    Parameters
    ----------
    chains : ndarray
        One chain a row. One chain is enough.

    Returns
    -------
    ndarray
        At lags 0 to n_draws - 1; the first is exactly 1. All are NaN where all draws are equal, without a warning of NumPy's.

    Raises
    ------
    ValueError
        If `chains` is no matrix of finite numbers with at least one chain and two draws.

    Examples
    --------
    >>> print(autocorrelation(np.array([[2.0, 4, 3, 5, 6, 4, 7, 5], [3.0, 5, 4, 2, 3, 1, 2, 4]])).round(3))
    [1.    0.353 0.338 0.281 0.015 0.249 0.192 0.26 ]
    """
    # given: the check
    _check(chains)
    raise NotImplementedError("not written yet: autocorrelation")


def integrated_time(rho: Float[np.ndarray, " n_lags"]) -> float:
    r"""Add up autocorrelations as far as they can be trusted, equation (5).

    Parameters
    ----------
    rho : ndarray
        At lags 0, 1, 2, ..., of which there are $n$. The last one is never used if there are more than two.

    Returns
    -------
    float
        $\hat\tau$: 1 for independent draws. It may be zero or less.

    Raises
    ------
    ValueError
        If `rho` is no vector of two or more finite numbers.

    Examples
    --------
    >>> print(f"{integrated_time(0.5 ** np.arange(100.0)):.4f}")
    3.0000
    """
    # given: the check
    if rho.ndim != 1 or len(rho) < 2 or not np.isfinite(rho).all():
        raise ValueError(f"rho must be a vector of two or more finite numbers, got {rho}")
    raise NotImplementedError("not written yet: integrated_time")


def ess(chains: Float[np.ndarray, "n_chains n_draws"]) -> float:
    """Return the effective sample size of chains as they are, neither split nor ranked, equation (6).

    Parameters
    ----------
    chains : ndarray
        One chain a row. One chain is enough.

    Returns
    -------
    float
        For the mean of the draws. NaN where all draws are equal, without a warning of NumPy's.

    Raises
    ------
    ValueError
        If `chains` is no matrix of finite numbers with at least one chain and two draws.

    Examples
    --------
    >>> print(f"{ess(np.array([[2.0, 4, 3, 5, 6, 4, 7, 5], [3.0, 5, 4, 2, 3, 1, 2, 4]])):.3f}")
    5.408
    """
    # given: the check
    _check(chains)
    raise NotImplementedError("not written yet: ess")


def bulk_ess(draws: Float[np.ndarray, "n_chains n_draws"]) -> float:
    """Return the effective sample size (6) of the normal scores of the halves of the chains.

    Parameters
    ----------
    draws : ndarray
        One chain a row. One chain is enough.

    Returns
    -------
    float
        Says how well the middle of the distribution is known, whatever its tails. NaN where all draws are equal.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one chain and four draws; as `split_chains` has it.

    Examples
    --------
    >>> print(f"{bulk_ess(np.random.default_rng(0).standard_cauchy((4, 250))):.0f}")
    970
    """
    raise NotImplementedError("not written yet: bulk_ess")


def tail_ess(draws: Float[np.ndarray, "n_chains n_draws"], probabilities: tuple[float, ...] = (0.05, 0.95)) -> float:
    """Return the least of the effective sample sizes (6) of some quantiles.

    Parameters
    ----------
    draws : ndarray
        One chain a row. One chain is enough.
    probabilities : tuple of float
        Of the quantiles. Those of 5 % and 95 % make it the sample size of the tails, one only that of a quantile.

    Returns
    -------
    float
        The least. NaN if for any of the quantiles the indicators are all equal, as they are of equal draws.

    Raises
    ------
    ValueError
        If `probabilities` are none, or not all between 0 and 1, or `draws` is no matrix of finite numbers with at least
        one chain and four draws; this as `split_chains` has it.

    Examples
    --------
    >>> draws = np.random.default_rng(0).standard_cauchy((4, 250))
    >>> print(f"{tail_ess(draws):.0f} {tail_ess(draws, (0.5,)):.0f}")
    955 849
    """
    # given: the check
    if not probabilities or not all(0 < p < 1 for p in probabilities):
        raise ValueError(f"probabilities must be between 0 and 1, got {probabilities}")
    halves = split_chains(draws)
    raise NotImplementedError("not written yet: tail_ess")


def mcse(draws: Float[np.ndarray, "n_chains n_draws"]) -> tuple[float, float]:
    """Return the standard errors of mean and standard deviation, equations (7) and (8).

    Parameters
    ----------
    draws : ndarray
        One chain a row. One chain is enough.

    Returns
    -------
    mean, sd : float
        The errors of the mean, and of the standard deviation, of all draws. Both NaN where all draws are equal, without a
        warning of NumPy's.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one chain and four draws; as `split_chains` has it.

    Examples
    --------
    >>> mean, sd = mcse(np.random.default_rng(0).standard_normal((4, 250)))
    >>> print(f"{mean:.3f} {sd:.3f}")
    0.031 0.022
    """
    raise NotImplementedError("not written yet: mcse")


def mcse_quantile(draws: Float[np.ndarray, "n_chains n_draws"], probability: float) -> float:
    """Return the standard error of a quantile, equation (9).

    Parameters
    ----------
    draws : ndarray
        One chain a row. One chain is enough.
    probability : float
        Of the quantile.

    Returns
    -------
    float
        In the units of the draws. NaN where the indicators of the quantile are all equal.

    Raises
    ------
    ValueError
        If `probability` is not between 0 and 1, or `draws` is no matrix of finite numbers with at least one chain and
        four draws; this as `split_chains` has it.

    Examples
    --------
    >>> print(f"{mcse_quantile(np.random.default_rng(0).standard_normal((4, 250)), 0.5):.3f}")
    0.046
    """
    # given: the check
    if not 0 < probability < 1:
        raise ValueError(f"probability must be between 0 and 1, got {probability}")
    raise NotImplementedError("not written yet: mcse_quantile")


def autocorrelation_figure(draws: Float[np.ndarray, "n_chains n_draws"], n_lags: int = 50) -> "Figure":  # given
    """Draw the autocorrelations of each chain, and of all together.

    Parameters
    ----------
    draws : ndarray
        One chain a row.
    n_lags : int
        Up to which lag.

    Returns
    -------
    Figure
        One axes: a thin line for each chain, then a thick one for all together. The grey band is where 95 % of the autocorrelations
        of one chain of independent draws lie.

    Examples
    --------
    >>> figure = autocorrelation_figure(np.random.default_rng(0).standard_normal((4, 100)))
    >>> print(len([line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]))
    5
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    ax = figure.subplots()
    for m, chain in enumerate(draws):
        ax.plot(autocorrelation(chain[None])[: n_lags + 1], linewidth=0.8, color=f"C{m % 10}", alpha=0.7)
    ax.plot(autocorrelation(draws)[: n_lags + 1], linewidth=2, color="k", label="all together")
    ax.axhline(0, color="k", linewidth=0.5)
    half = 1.96 / np.sqrt(draws.shape[1])
    ax.axhspan(-half, half, color="0.9", zorder=0)
    ax.set(xlabel="lag", ylabel="autocorrelation", xlim=(0, min(n_lags, draws.shape[1] - 1)))
    ax.legend(frameon=False)
    return figure


def _check(chains: np.ndarray) -> None:  # given
    """Raise a ValueError unless the chains are a matrix of finite numbers, with two draws or more of each."""
    if chains.ndim != 2 or chains.shape[0] < 1 or chains.shape[1] < 2:
        raise ValueError(f"chains must have shape (n_chains, n_draws) with two draws or more, got {chains.shape}")
    if not np.isfinite(chains).all():
        raise ValueError(f"chains must be finite, got {chains[~np.isfinite(chains)][0]}")
