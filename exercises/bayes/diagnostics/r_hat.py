r"""R-hat: have the chains forgotten where they started?

## Idea

One chain cannot know what it has missed. So run several from different starts and ask whether they could be told apart by
their draws: compare the spread *between* the chains with the spread *within* them. The modern R-hat also cuts each chain
in two, so that a drift shows, and works with ranks, so that heavy tails do no harm.

## Maths

All is about one quantity $\theta$: draws $\theta_{mt}$ of chains $m = 1 \dots M$ at steps $t = 1 \dots n$, $S = M n$ in
all.

**Between and within.** Let $\bar\theta_m$ and $s_m^2$ be mean and variance of chain $m$ (with divisor $n - 1$), and
$\bar\theta$ the mean of the $\bar\theta_m$. Then

$$B = \frac{n}{M - 1} \sum_m (\bar\theta_m - \bar\theta)^2, \qquad W = \frac{1}{M} \sum_m s_m^2. \tag{1}$$

$W$ is too small while each chain has seen only a part of the target. The means differ by what separates the chains *and*
by the error that each mean has anyway, which for independent draws is $W / n$ in variance. So the variance of all is
estimated by

$$\hat V = \frac{n - 1}{n} W + \frac{1}{n} B, \tag{2}$$

which is right for independent draws (there $B$ and $W$ both have the variance as expectation) and too large where the
starts were wider apart than the target. One estimate errs low, the other high, and they meet when the chains have mixed:

$$\hat R = \sqrt{\hat V / W}. \tag{3}$$

**Split.** Chains that all drift alike agree with each other at every moment. Cut each of them in half, and early and late
draws are compared as well: $M$ chains of $n$ draws become $2M$ of $\lfloor n / 2 \rfloor$. Of an odd number of draws the
middle one is left out.

**Ranks.** Where $\theta$ has no variance, $W$ is no estimate of anything. Replace the draws by their ranks among all $S$
draws, from 1 for the smallest; draws that are equal share the average of their ranks. Then give each rank the place that
it would have among $S$ normal draws:

$$z_{mt} = \Phi^{-1}\Big( \frac{r_{mt} - 3/8}{S + 1/4} \Big), \tag{4}$$

where $\Phi$ is the normal distribution function. The result is the same for $\theta$ and for any increasing function of it.

**Folded.** Chains with one centre but different widths have the same mean ranks. Their distances from the middle differ:

$$\zeta_{mt} = |\theta_{mt} - \operatorname{median}(\theta)|, \tag{5}$$

with one median, that of the draws of all halves. What is reported is the worse of two: (3) of the normal scores (4) of
the split draws, and (3) of the normal scores of the split draws folded by (5).

$$\hat R = \max \{ \hat R_{\text{bulk}},\ \hat R_{\text{folded}} \}. \tag{6}$$

**To look at.** If the chains agree, each of them has its share of low, middle and high ranks. Divide the $S$ ranks into
$K$ equal bins: bin $b = 0 \dots K - 1$ takes the ranks with

$$\frac{b\, S}{K} < r \le \frac{(b + 1)\, S}{K}, \tag{7}$$

and count the draws of each chain in each bin. A histogram of each chain should be flat.

**One chain against itself.** Geweke compares the mean of the first tenth of a chain with that of its last half. For that
he needs the variance of a mean of correlated draws. With autocovariances $\gamma_k$, it is about $\sigma^2_\infty / n$,
where $\sigma^2_\infty = \gamma_0 + 2 \sum_{k \ge 1} \gamma_k$ ($2 \pi$ times the spectral density at frequency 0).
Estimate $\gamma_k$ from $n$ draws with their own mean $\bar x$,

$$\hat\gamma_k = \frac{1}{n} \sum_{t=1}^{n-k} (x_t - \bar x)(x_{t+k} - \bar x). \tag{8}$$

Their plain sum over all lags is useless: it is noise, and may be negative. Bartlett's window of width $w$ lets the far
lags fade,

$$\hat\sigma^2_\infty = \hat\gamma_0 + 2 \sum_{k=1}^{w-1} \Big( 1 - \frac{k}{w} \Big) \hat\gamma_k. \tag{9}$$

This is never negative: it is the sum of the squares of all sums over $w$ successive deviations, divided by $n w$
(deviations beyond the ends counted as zero; each product of two at distance $k$ is in $w - k$ of these sums). With
windows $a$ (first) and $b$ (last) of $n_a$ and $n_b$ draws,

$$z = \frac{\bar x_a - \bar x_b}{\sqrt{\hat\sigma^2_{\infty, a} / n_a + \hat\sigma^2_{\infty, b} / n_b}}, \tag{10}$$

with a width of $w = \lfloor \sqrt{n_a} \rfloor$ for the one and $\lfloor \sqrt{n_b} \rfloor$ for the other. If nothing
drifts, $z$ is about standard normal.

## Worked example

Two chains of four draws, $(2, 5, 3, 8)$ and $(4, 1, 6, 9)$. The halves are $(2, 5)$, $(4, 1)$, $(3, 8)$, $(6, 9)$, with
means 3.5, 2.5, 5.5, 7.5 and variances 4.5, 4.5, 12.5, 4.5. So $B = 9.83$, $W = 6.5$, $\hat V = 8.17$ and
$\hat R = 1.121$.

The ranks are $(2, 5)$, $(4, 1)$, $(3, 7)$, $(6, 8)$. With $S = 8$ the smallest gets $\Phi^{-1}(0.625 / 8.25) = -1.434$,
and the first half $(-0.852, 0.153)$. Equation (3) of these is 1.161. The median is 4.5, the distances are $(2.5, 0.5)$,
$(0.5, 3.5)$, $(1.5, 3.5)$, $(1.5, 4.5)$, their ranks $(5, 1.5)$, $(1.5, 6.5)$, $(3.5, 6.5)$, $(3.5, 8)$, and (3) of their
scores is 0.832. By (6) $\hat R = 1.161$.

*Ranks in $K = 2$ bins*, of the chains before splitting: ranks 1 to 4 and 5 to 8. The first chain has 2 and 2, and so has
the second.

*Bartlett's window* for $x = (1, 3, 2, 2)$, $w = 2$: the deviations are $(-1, 1, 0, 0)$, $\hat\gamma_0 = 0.5$,
$\hat\gamma_1 = -0.25$, and (9) is $0.5 - 0.25 = 0.25$. The sums over two are $-1, 0, 1, 0, 0$, and
$2 / (4 \cdot 2) = 0.25$ again.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `split_chains` | draws of $M$ chains | their halves | the rule before (4) |
| `classic_r_hat` | chains as they are | a number | (1) to (3) |
| `average_ranks` | draws | their ranks among all | the rule before (4) |
| `normal_scores` | draws | $z$ | (4) |
| `r_hat` | draws | a number | (5), (6) |
| `rank_counts` | draws, a number of bins | counts by chain and bin | (7) |
| `spectral_variance` | chains, a width | $\hat\sigma^2_\infty$ of each | (8), (9) |
| `geweke` | draws | $z$ of each chain | (10) |

Draws have the shape (n_chains, n_draws): of a sampler's `Draws` take one coordinate, `run.draws[:, :, 0]`. Given are
`trace_figure` and `rank_figure`.

## Pitfalls

- R-hat is a little below 1 for short chains that agree. That is no mistake: see (2) for $B = 0$.
- Chains that stand still have a variance of zero, but the rounded mean of equal numbers need not be that number.
- The value changes when the draws are multiplied by a constant.
- A chain is three times as wide as the others, and R-hat says 1.00.
- All chains agree, and all are wrong: where none has found the second mode, nothing here can tell.
- Geweke's $z$ is far too large for strongly correlated chains: their autocovariances reach beyond the width.

## Cost

Sorting, $O(S \log S)$. The sum (9) is $O(n w)$ a chain, thus $O(n^{3/2})$ with $w = \sqrt{n}$.

## Go further

Experiment: let one of four normal chains be shifted by $\delta$ standard deviations, and find the smallest $\delta$ for
which R-hat exceeds 1.01, the bound of [1], for 100 and for 10,000 draws. The old bound of 1.1 lets a lot pass. A stretch
goal: R-hat of indicators $\theta \le q$ for many quantiles $q$, the local R-hat.

Departures: [1] and ArviZ ask for two chains or more; here one is enough, as its halves are two. Geweke's spectral
estimate is another window; that of (9) needs no choice but the width.

## References

1. Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Rank-normalization, folding, and localization: an improved R-hat,
   https://doi.org/10.1214/20-BA1221, https://arxiv.org/abs/1903.08008
2. Gelman & Rubin (1992), Inference from iterative simulation using multiple sequences,
   https://doi.org/10.1214/ss/1177011136
3. Newey & West (1987), A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
   matrix, https://doi.org/10.2307/1913610
4. Geweke (1992), Evaluating the accuracy of sampling-based approaches to the calculation of posterior moments, in
   Bayesian Statistics 4, Oxford University Press
"""

# 8 parts to write. Test them with: pytest exercises/bayes/diagnostics/r_hat.py
# To be written without: arviz, arviz_stats, emcee

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def split_chains(draws: Float[np.ndarray, "n_chains n_draws"]) -> Float[np.ndarray, "n_halves n_kept"]:
    """Cut each chain in two.

    Parameters
    ----------
    draws : ndarray
        One chain a row.

    Returns
    -------
    ndarray
        Twice as many chains of half as many draws: first the first halves of all chains in their order, then the last
        halves in the same order. Of an odd number of draws the middle one is left out.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one chain and four draws.

    Examples
    --------
    >>> print(split_chains(np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]])))
    [[ 1.  2.]
     [ 6.  7.]
     [ 4.  5.]
     [ 9. 10.]]
    """
    # given: the check
    _check("draws", draws, 4)
    raise NotImplementedError("not written yet: split_chains")


def classic_r_hat(chains: Float[np.ndarray, "n_chains n_draws"]) -> float:
    """Return R-hat of chains as they are, neither split nor ranked, equations (1) to (3).

    Parameters
    ----------
    chains : ndarray
        One chain a row, two or more of them.

    Returns
    -------
    float
        About 1 where the chains agree, larger where they do not. Exactly `inf` where no chain ever moves but not all
        are at the same place; `nan` where all draws are equal. Both come without a warning of NumPy's.

    Raises
    ------
    ValueError
        If `chains` is no matrix of finite numbers with at least two chains and two draws.

    Examples
    --------
    >>> print(f"{classic_r_hat(np.array([[2.0, 5.0], [4.0, 1.0], [3.0, 8.0], [6.0, 9.0]])):.3f}")
    1.121
    """
    # given: the check
    _check("chains", chains, 2)
    if len(chains) < 2:
        raise ValueError(f"chains must be two or more, got {len(chains)}")
    raise NotImplementedError("not written yet: classic_r_hat")


def average_ranks(draws: Float[np.ndarray, "n_chains n_draws"]) -> Float[np.ndarray, "n_chains n_draws"]:
    """Return the rank of each draw among the draws of all chains.

    Parameters
    ----------
    draws : ndarray
        One chain a row.

    Returns
    -------
    ndarray
        Ranks from 1 for the smallest, each where its draw is. Equal draws share the average of the ranks that they take.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one draw.

    Examples
    --------
    >>> print(average_ranks(np.array([[0.5, 7.0], [0.5, -3.0]])))
    [[2.5 4. ]
     [2.5 1. ]]
    """
    # given: the check
    _check("draws", draws, 1)
    raise NotImplementedError("not written yet: average_ranks")


def normal_scores(draws: Float[np.ndarray, "n_chains n_draws"]) -> Float[np.ndarray, "n_chains n_draws"]:
    """Return what the draws would be if they were normal, by their ranks, equation (4).

    Parameters
    ----------
    draws : ndarray
        One chain a row.

    Returns
    -------
    ndarray
        $z$ of each draw, in the same place.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one draw; as `average_ranks` has it.

    Examples
    --------
    >>> print(normal_scores(np.array([[0.5, 7.0], [20.0, -3.0]])).round(3))
    [[-0.299  0.299]
     [ 1.049 -1.049]]
    """
    raise NotImplementedError("not written yet: normal_scores")


def r_hat(draws: Float[np.ndarray, "n_chains n_draws"]) -> float:
    """Return the R-hat of split, rank-normalised and folded draws, equation (6): split first, then fold, then rank.

    Parameters
    ----------
    draws : ndarray
        One chain a row. One chain is enough.

    Returns
    -------
    float
        About 1 where the chains agree; more than 1.01 is a reason to run on. `nan` where all draws are equal; `inf` where no
        half of a chain ever moves, but they are at different places. Where only the folded draws are all equal, it
        is the R-hat of the bulk.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one chain and four draws; as `split_chains` has it.

    Examples
    --------
    >>> draws = np.random.default_rng(0).standard_normal((4, 1000))
    >>> print(f"{r_hat(draws):.3f}", f"{r_hat(draws + np.array([[0], [0], [0], [0.5]])):.3f}")
    1.000 1.034
    """
    raise NotImplementedError("not written yet: r_hat")


def rank_counts(draws: Float[np.ndarray, "n_chains n_draws"], n_bins: int = 20) -> Int[np.ndarray, "n_chains n_bins"]:
    """Count for each chain how many of its ranks are in each of several equal bins, equation (7).

    Parameters
    ----------
    draws : ndarray
        One chain a row.
    n_bins : int
        Number of bins, of which the first holds the lowest ranks. It need not divide the number of draws.

    Returns
    -------
    ndarray
        Whole numbers, of an integer dtype. The sum of each row is the number of draws of a chain.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers with at least one draw, or `n_bins` is not between 1 and the number of all
        draws.

    Examples
    --------
    >>> print(rank_counts(np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 2.5, 7.0, 8.0]]), 2))
    [[3 1]
     [1 3]]
    """
    # given: the checks
    _check("draws", draws, 1)
    if not 1 <= n_bins <= draws.size:
        raise ValueError(f"n_bins must be between 1 and the number of draws, {draws.size}, got {n_bins}")
    raise NotImplementedError("not written yet: rank_counts")


def spectral_variance(chains: Float[np.ndarray, "n_chains n_draws"], width: int) -> Float[np.ndarray, " n_chains"]:
    """Estimate what the variance of the mean of each chain is multiplied with its number of draws, equation (9).

    Parameters
    ----------
    chains : ndarray
        One chain a row.
    width : int
        Width $w$ of Bartlett's window.

    Returns
    -------
    ndarray
        One for each chain, zero or positive. Exactly zero for a chain that never moves.

    Raises
    ------
    ValueError
        If `chains` is no matrix of finite numbers with at least one draw, or `width` is not between 1 and the number of
        draws of a chain.

    Examples
    --------
    >>> print(spectral_variance(np.array([[1.0, 3.0, 2.0, 2.0], [0.1, 0.1, 0.1, 0.1]]), 2))
    [0.25 0.  ]
    """
    # given: the checks
    _check("chains", chains, 1)
    n = chains.shape[1]
    if not 1 <= width <= n:
        raise ValueError(f"width must be between 1 and the number of draws of a chain, {n}, got {width}")
    raise NotImplementedError("not written yet: spectral_variance")


def geweke(
    draws: Float[np.ndarray, "n_chains n_draws"], *, first: float = 0.1, last: float = 0.5
) -> Float[np.ndarray, " n_chains"]:
    """Compare the mean of the beginning of each chain with that of its end, equation (10).

    Parameters
    ----------
    draws : ndarray
        One chain a row.
    first, last : float
        Which shares of the draws are the beginning and the end. Their numbers of draws are rounded to the nearest integer.

    Returns
    -------
    ndarray
        $z$ of each chain, positive if the beginning was higher. `nan` for a chain that never moves; infinite, with the same
        sign rule, where it stands still in each of both windows, but not at one place. Without a warning of NumPy's.

    Raises
    ------
    ValueError
        If `draws` is no matrix of finite numbers, `first` or `last` is not positive, their sum exceeds 1, or one of the
        windows has fewer than two draws.

    Examples
    --------
    >>> drifting = np.linspace(3, 0, 1000) + np.random.default_rng(0).standard_normal((2, 1000))
    >>> print(geweke(drifting).round(1))
    [14.5 12.6]
    """
    # given: the checks, and the numbers of draws
    _check("draws", draws, 1)
    if not (first > 0 and last > 0 and first + last <= 1):
        raise ValueError(f"first and last must be positive and sum to at most 1, got {first} and {last}")
    n_first, n_last = round(first * draws.shape[1]), round(last * draws.shape[1])
    if min(n_first, n_last) < 2:
        raise ValueError(f"draws must give two or more to each window, got {n_first} and {n_last}")
    raise NotImplementedError("not written yet: geweke")


def trace_figure(draws: Float[np.ndarray, "n_chains n_draws"], name: str = "$x$") -> "Figure":  # given
    """Draw the path of each chain.

    Parameters
    ----------
    draws : ndarray
        One chain a row.
    name : str
        What the quantity is called.

    Returns
    -------
    Figure
        One axes with one line a chain.

    Examples
    --------
    >>> figure = trace_figure(np.random.default_rng(0).standard_normal((4, 100)))
    >>> print(len(figure.axes[0].lines))
    4
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    ax = figure.subplots()
    for m, chain in enumerate(draws):
        ax.plot(np.arange(1, len(chain) + 1), chain, linewidth=0.6, label=f"chain {m + 1}")
    ax.set(xlabel="step", ylabel=name)
    ax.margins(x=0)
    if len(draws) <= 8:
        figure.legend(loc="outside right upper", frameon=False)
    return figure


def rank_figure(draws: Float[np.ndarray, "n_chains n_draws"], n_bins: int = 20) -> "Figure":  # given
    """Draw the histogram of the ranks of each chain, with the height that all bars should have.

    Parameters
    ----------
    draws : ndarray
        One chain a row.
    n_bins : int
        Number of bins.

    Returns
    -------
    Figure
        One axes a chain. The dotted lines enclose 95 % of the counts that independent draws would have.

    Examples
    --------
    >>> figure = rank_figure(np.random.default_rng(0).standard_normal((4, 100)))
    >>> print(len(figure.axes))
    4
    """
    from matplotlib.figure import Figure

    counts = rank_counts(draws, n_bins)
    n_chains, expected = len(counts), draws.shape[1] / n_bins
    edges = np.arange(n_bins + 1) * draws.size / n_bins
    # A chain takes its draws from the ranks in this bin without putting them back: the hypergeometric law.
    left_over = (draws.size - draws.shape[1]) / max(draws.size - 1, 1)
    spread = 1.96 * np.sqrt(expected * (1 - 1 / n_bins) * left_over)
    figure = Figure(figsize=(2.4 * n_chains + 0.6, 2.4), layout="constrained")
    for m, ax in enumerate(np.atleast_1d(figure.subplots(1, n_chains, sharey=True))):
        ax.stairs(counts[m], edges, fill=True, color=f"C{m % 10}", alpha=0.7)
        ax.axhline(expected, color="k", linewidth=0.8)
        for height in (expected - spread, expected + spread):
            ax.axhline(max(height, 0.0), color="k", linewidth=0.8, linestyle=":")
        ax.set(title=f"chain {m + 1}", xlabel="rank", xlim=(0, draws.size), xticks=[0, draws.size])
    figure.axes[0].set_ylabel("draws")
    return figure


def _check(name: str, draws: np.ndarray, least: int) -> None:  # given
    """Raise a ValueError unless the draws are a matrix of finite numbers, with so many of each chain."""
    if draws.ndim != 2 or draws.shape[0] < 1 or draws.shape[1] < least:
        raise ValueError(f"{name} must have shape (n_chains, n_draws) with {least} draws or more, got {draws.shape}")
    if not np.isfinite(draws).all():
        raise ValueError(f"{name} must be finite, got {draws[~np.isfinite(draws)][0]}")
