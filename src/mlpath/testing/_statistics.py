"""Checks of random numbers. Each states how often a right solution fails it, its `error`, and derives its threshold from that.

What a right solution draws is random, so that any check of it must fail now and then. At the default, once in 10^8 seeds.

- The error of a check of several numbers is shared among them evenly: it holds for the whole call.
- *Exact* means that the error is at most as stated for any number of draws; *asymptotic*, that it holds in the limit of
  many draws, and the docstring says how far off it is before.
- Rows (the first axis) must be independent. Of dependent draws, such as Markov chains, average each chain first and check
  the means of independent chains.
- What the learner returned wrongly is an `AssertionError`; arguments that no test should pass are a `ValueError`.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mlpath.testing._compare import plain

# The errors of all checks made so far in this process, in their order, passed or failed. It is only ever appended to: whoever
# wants the rate at which a right solution fails a test file sums what is new after that file has run.
spent: list[float] = []


class StatisticalFailure(AssertionError):
    """What was drawn is further from what it should be than chance explains."""

    __module__ = "mlpath.testing"  # where the world imports it from, and what a traceback calls it


def assert_mean(
    draws: Any,
    expected: Any,
    call: str,
    because: str = "",
    *,
    sd: Any = None,
    error: float = 1e-8,
) -> None:
    """Fail unless the mean of `draws` is as near to `expected` as chance allows, in each entry.

    With `sd`, exact for normal draws; without it (Student's t), too. For other laws it is asymptotic: in the far tail the
    error on one side is about exp(g z^3 / (6 sqrt(n))) times as large with `sd`, exp(-g z^3 / (3 sqrt(n))) times without,
    and the inverse of that on the other side, for a skewness of g and z standard errors allowed (5.7 at 1e-8). So n should
    be above 1000 g^2 with `sd`, and above 4000 g^2 without, to keep it within a factor of 3.

    Parameters
    ----------
    draws : array_like or torch.Tensor
        Independent along the first axis, of shape (n, ...). The means of independent chains, where draws depend.
    expected : array_like
        One number for all entries, or one for each, of shape (...).
    call : str
        What was drawn: `"random_walk(x=5, scale=0.3)"`. Read before 'averages'.
    because : str
        Where the expected value comes from: `"equation (3)"`. Read after 'expected by'.
    sd : array_like, optional
        The standard deviation of a draw, where it is known. Otherwise it is estimated; draws that are all equal must then
        equal what is expected. Of a share, use `assert_frequency`.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words.
    AssertionError
        If `draws` are no finite numbers of the right shape.
    ValueError
        If `sd` is not positive, or `error` is no probability.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> assert_mean(rng.normal(size=1000), 0, "rng.normal()", "its docstring", sd=1)
    >>> assert_mean(rng.normal(0.5, size=1000), 0, "my_normal()", "equation (1)", sd=1)
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: my_normal() averages 0.492 over 1000 draws
    expected by equation (1): 0
    that is 15.6 standard errors off, where 5.73 are allowed
    (a right solution fails this check with probability 1e-08)
    """
    from scipy import special

    _spend(error)
    x = _numbers(draws, call, least=1 if sd is not None else 2)
    want = _entries(expected, x, call)
    n, share = len(x), error / max(want.size, 1)
    mean = x.mean(axis=0)
    if sd is None:
        spread, allowed = x.std(axis=0, ddof=1), -special.stdtrit(n - 1, share / 2)
    else:
        spread, allowed = _entries(sd, x, call), -special.ndtri(share / 2)
        if not (spread > 0).all():
            raise ValueError(f"sd must be positive, got {sd}")
    off = np.abs(mean - want)
    # Where all draws are equal, rounding is all there may be.
    off = np.where(off <= 1e-14 * np.abs(x).max(axis=0), 0.0, off)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.nan_to_num(off / (spread / math.sqrt(n)), nan=0.0, posinf=np.inf)
    if (off > allowed).any():
        said = f"{_worst(off, off > allowed)} {off.max():.3g} standard errors off, where {allowed:.3g} are allowed"
        raise StatisticalFailure(_message(call, f"averages {_show(mean)} over {n} draws", because, want, said, error))


def assert_variance(
    draws: Any, expected: Any, call: str, because: str = "", *, kurtosis: float = 3.0, error: float = 1e-8
) -> None:
    """Fail unless the variance of `draws` is as near to `expected` as chance allows, in each entry.

    Exact for normal draws. For others, say their kurtosis: the sum of squares is then compared with the chi-square law that has
    the variance of theirs. This is asymptotic.

    Parameters
    ----------
    draws : array_like or torch.Tensor
        Independent along the first axis, of shape (n, ...), with n at least 2.
    expected : array_like
        The variance, not the standard deviation: one for all entries, or one for each.
    call, because : str
        What was drawn, and where the expected value comes from.
    kurtosis : float
        The fourth central moment over the squared variance: 3 for a normal law, 1.8 for a uniform one.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words.
    AssertionError
        If `draws` are no finite numbers of the right shape.
    ValueError
        If `expected` is not positive, `kurtosis` is not above 1, or `error` is no probability.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> assert_variance(rng.normal(0, 2, 1000), 4, "rng.normal(0, 2)", "its docstring")
    >>> assert_variance(rng.normal(0, 2, 1000), 2, "my_normal(0, 2)", "equation (1)")
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: my_normal(0, 2) has variance 4.188 over 1000 draws
    expected by equation (1): 2
    that is 2.09 times as much, where 0.764 to 1.28 are allowed
    (a right solution fails this check with probability 1e-08)
    """
    from scipy import special

    _spend(error)
    x = _numbers(draws, call, least=2)
    want = _entries(expected, x, call)
    if not (want > 0).all():
        raise ValueError(f"expected must be positive, got {expected}")
    if not kurtosis > 1:
        raise ValueError(f"kurtosis must be above 1, got {kurtosis}")
    n, share = len(x), error / max(want.size, 1)
    variance = x.var(axis=0, ddof=1)
    ratio = variance / want
    # The variance of `ratio` is 2 / freedom, which makes n - 1 degrees of freedom for a normal law.
    freedom = 2 / ((kurtosis - 3) / n + 2 / (n - 1))
    low, high = 2 * np.array(
        [special.gammaincinv(freedom / 2, share / 2), special.gammainccinv(freedom / 2, share / 2)]
    )
    low, high = low / freedom, high / freedom
    if (bad := (ratio < low) | (ratio > high)).any():
        far = np.abs(np.log(np.maximum(ratio, 1e-300)))  # twice and half are equally far
        times = ratio.flat[np.argmax(np.where(bad, far, -1))]
        said = f"{_worst(np.where(bad, far, -1), bad)} {times:.3g} times as much, where {low:.3g} to {high:.3g} are allowed"
        raise StatisticalFailure(
            _message(call, f"has variance {_show(variance)} over {n} draws", because, want, said, error)
        )


def assert_frequency(
    count: Any, n: Any, probability: Any, call: str, because: str = "", *, error: float = 1e-8
) -> None:
    """Fail unless something of the given probability came as often in n independent trials as chance allows.

    Exact: both tails of the binomial law. An event of probability zero must never come, one of probability 1 always.

    Parameters
    ----------
    count, n, probability : array_like
        How often it came, in how many trials, and its probability; they broadcast. Each entry is a check of its own.
    call, because : str
        What was counted, and where the probability comes from.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words.
    ValueError
        If `count` is not a whole number from 0 to `n`, if `probability` or `error` are no probabilities.

    Examples
    --------
    >>> assert_frequency(520, 1000, 0.5, "heads among my_coin(1000)", "a fair coin")
    >>> assert_frequency(700, 1000, 0.5, "heads among my_coin(1000)", "a fair coin")
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: heads among my_coin(1000): 700 of 1000, a share of 0.7
    expected by a fair coin: 0.5
    that is 12.6 standard errors off: by chance as far with probability 2e-37
    (a right solution fails this check with probability 1e-08)
    """
    _spend(error)
    k, total, p = np.broadcast_arrays(*(np.asarray(plain(a), float) for a in (count, n, probability)))
    if not ((k >= 0) & (k <= total) & (k == np.round(k)) & (total == np.round(total)) & (total > 0)).all():
        raise ValueError(f"count must be whole numbers from 0 to n, and n positive; got {count} of {n}")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"probability must be between 0 and 1, got {probability}")
    chance = np.minimum(_binomial(k, total, p) * p.size, 1)
    if (bad := chance < error).any():
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.nan_to_num(np.abs(k - total * p) / np.sqrt(total * p * (1 - p)), posinf=np.inf)
        at = np.argmin(chance)
        said = f"{_worst(-chance, bad)} {off.flat[at]:.3g} standard errors off: by chance as far with probability {chance.flat[at]:.0e}"
        came = f"{_show(k)} of {_show(total.flat[0] if (total == total.flat[0]).all() else total)}, a share of {_show(k / total)}"
        raise StatisticalFailure(_message(call + ":", came, because, p, said, error))


def assert_frequencies(counts: Any, probabilities: Any, call: str, because: str = "", *, error: float = 1e-8) -> None:
    """Fail unless the categories came as often as chance allows, each and all of them together.

    Exact. Half of the error goes to the counts one by one, by their binomial laws. The other half goes to all of them
    together, by n times the Kullback-Leibler divergence of the shares from the probabilities: half a chi-square statistic,
    to which Agrawal's inequality (doi.org/10.1109/TIT.2020.2996134) gives a bound for any n. The chi-square law itself
    would be wrong by orders of magnitude at 1e-8, unless thousands are expected of each category.

    Parameters
    ----------
    counts : array_like
        How often each of k categories came in independent trials, of shape (k,).
    probabilities : array_like
        Their probabilities, which sum to 1, of shape (k,).
    call, because : str
        What was counted, and where the probabilities come from.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words.
    AssertionError
        If there are more or fewer counts than probabilities.
    ValueError
        If `counts` are no whole numbers, if `probabilities` do not sum to 1 or `error` is no probability.

    Examples
    --------
    >>> assert_frequencies([310, 190, 500], [0.3, 0.2, 0.5], "my_choice(3, 1000)", "its weights")
    >>> assert_frequencies([200, 300, 500], [0.3, 0.2, 0.5], "my_choice(3, 1000)", "its weights")
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: my_choice(3, 1000) has shares [0.2 0.3 0.5] of 1000 draws
    expected by its weights: [0.3 0.2 0.5]
    they are off together: by chance as far with probability 1e-14
    (a right solution fails this check with probability 1e-08)
    """
    _spend(error)
    k, p = np.asarray(plain(counts), float), np.asarray(plain(probabilities), float)
    if p.ndim != 1 or not len(p) or not (p >= 0).all() or not abs(p.sum() - 1) <= 1e-9:
        raise ValueError(f"probabilities must be a vector that sums to 1, got {probabilities}")
    if k.shape != p.shape:
        raise AssertionError(f"{call} has counts of shape {k.shape}; there are {len(p)} categories")
    if not ((k >= 0) & (k == np.round(k))).all() or not k.sum() > 0:
        raise ValueError(f"counts must be whole numbers from 0, not all zero; got {counts}")
    each, together = _multinomial(k, p)
    if (chance := min(each.min(), together)) < error:
        n = int(k.sum())
        where = f"most off is [{np.argmin(each)}]" if each.min() <= together else "they are off together"
        said = f"{where}: by chance as far with probability {chance:.0e}"
        raise StatisticalFailure(_message(call, f"has shares {_show(k / n)} of {n} draws", because, p, said, error))


def assert_distribution(
    draws: Any, cdf: Callable[[Any], Any] | Any, call: str, because: str = "", *, error: float = 1e-8
) -> None:
    """Fail unless `draws` look as if they were drawn from the continuous law of `cdf`.

    Exact: the test of Kolmogorov and Smirnov, which looks at the greatest distance between the shares of draws below x and
    `cdf(x)`. It sees a shift better than a change of the tails: ask for moments besides. For a discrete law,
    use `assert_frequencies`.

    Parameters
    ----------
    draws : array_like or torch.Tensor
        Independent numbers, of shape (n,).
    cdf : callable or frozen scipy distribution
        The distribution function, or what has one as its method `cdf`: `scipy.stats.gamma(3)`.
    call, because : str
        What was drawn, and where the law comes from.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words.
    AssertionError
        If `draws` are no vector of finite numbers.
    ValueError
        If `cdf` returns something else than probabilities, or `error` is none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> def uniform(x):
    ...     return np.clip(x, 0, 1)
    >>> assert_distribution(rng.random(1000), uniform, "rng.random()", "the uniform law")
    >>> assert_distribution(rng.random(1000) ** 2, uniform, "my_random()", "the uniform law")
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: my_random() is below 0.2216 in 50.8 % of 1000 draws
    expected by the uniform law: 22.2 %
    by chance as far with probability 4e-73
    (a right solution fails this check with probability 1e-08)
    """
    from scipy import special

    _spend(error)
    x = np.sort(_numbers(draws, call, least=1, ndim=1))
    n, function = len(x), getattr(cdf, "cdf", cdf)
    u = np.asarray(plain(function(x)), float)
    if u.shape != x.shape or not ((u >= 0) & (u <= 1)).all():
        raise ValueError("cdf must return a probability for each number")
    # Just after and just before each draw, the share of draws below steps from i / n to (i + 1) / n.
    steps = np.arange(n + 1) / n
    gap = np.maximum(steps[1:] - u, u - steps[:-1])
    at = int(np.argmax(gap))
    chance = min(2 * special.smirnov(n, gap[at]), 1.0)  # both sides at once are counted twice
    if chance < error:
        below = steps[at + 1] if steps[at + 1] - u[at] >= u[at] - steps[at] else steps[at]
        said = f"by chance as far with probability {chance:.0e}"
        came = f"is below {x[at]:.4g} in {100 * below:.3g} % of {n} draws"
        raise StatisticalFailure(_message(call, came, because, f"{100 * u[at]:.3g} %", said, error))


def assert_same_distribution(x: Any, y: Any, call: str, because: str = "", *, error: float = 1e-8) -> None:
    """Fail unless the rows of `x` and of `y` look as if they were drawn from one law, in any number of dimensions.

    Exact. One half of the rows is used to find a function that is greater for `x` than for `y`, the other half to test it;
    then the halves change places. Two functions are tried: the witness of the energy distance, and the best sum of first and
    second moments (those of whitened rows). If the laws are the same, the differences of such a function between rows of `x` and of
    `y` are as often positive as negative, whatever the law, so that their sum is t times the root of the sum of their
    squares with a probability of at most exp(-t^2 / 2).

    Measured over 300 trials of 1000 rows each in five dimensions, at the default error: more than 99 % of samples fail
    if all means are off by 0.25 standard deviations or one by 0.55, all standard deviations by a factor of 1.25 or one by 1.6,
    or if a correlation of 0.6 is lost. Where the moments are right, more is needed: Laplace for normal draws take 10,000 rows.

    Parameters
    ----------
    x, y : array_like or torch.Tensor
        What was drawn, and what it should be like: independent rows, of shape (n,) or (n, d), independent of each other.
        Rows beyond the shorter of them are not used.
    call, because : str
        What was drawn as `x`, and where `y` comes from.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words.
    AssertionError
        If `x` and `y` are no finite numbers of one shape, or too few: 80 rows are needed for the default error.
    ValueError
        If `error` is no probability.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(2, 1000, 3))
    >>> assert_same_distribution(x, y, "my_normal()", "draws of NumPy")
    >>> assert_same_distribution(2 * x, y, "my_normal()", "draws of NumPy")
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: my_normal() drew 1000 rows of another law
    expected by draws of NumPy: the same law
    they differ in standard deviations by a factor of up to 2.1
    by chance as far apart with probability below 2e-59
    (a right solution fails this check with probability 1e-08)
    """
    _spend(error)
    a, b = (_numbers(rows, name, least=1) for rows, name in ((x, call), (y, because or "what is expected")))
    a, b = (rows[:, None] if rows.ndim == 1 else rows for rows in (a, b))
    if a.ndim != 2 or a.shape[1:] != b.shape[1:]:
        raise AssertionError(f"{call} has rows of shape {a.shape[1:]}; expected {b.shape[1:]}")
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    # Four tests share the error. The greatest t that there can be is the root of the number of rows in one half.
    if (needed := 2 * (math.floor(2 * math.log(4 / error)) + 1)) > n:
        raise AssertionError(f"{call} has {n} rows; at least {needed} of both are needed")
    greatest = 0.0
    for half in (0, 1):
        x_test, y_test = a[1 - half :: 2], b[1 - half :: 2]
        for witness in _witnesses(a[half::2], b[half::2]):
            gain = witness(x_test) - witness(y_test)
            greatest = max(greatest, gain.sum() / math.sqrt((gain**2).sum() or 1.0))
    if (chance := min(4 * math.exp(-(greatest**2) / 2), 1.0)) < error:
        said = f"{_differences(a, b)}by chance as far apart with probability below {chance:.0e}"
        raise StatisticalFailure(_message(call, f"drew {n} rows of another law", because, "the same law", said, error))


def assert_calibrated(ranks: Any, n_draws: int, call: str, because: str = "", *, error: float = 1e-8) -> None:
    """Fail unless the ranks of the truth among posterior draws are uniform: simulation-based calibration.

    Draw parameters from the prior, data given them, and `n_draws` from the posterior given the data; the rank of a parameter
    is the number of draws below it. For the right posterior each rank from 0 to `n_draws` is equally likely
    (Talts et al., arxiv.org/abs/1804.06788). Draws of one posterior must be independent: thin a chain until they are.

    Exact. Half of the error goes to the greatest distance of the distribution functions (Kolmogorov and Smirnov; for ranks the
    error is smaller still), half to the shares in at most 10 bins, as in `assert_frequencies`.

    Parameters
    ----------
    ranks : array_like or torch.Tensor
        Whole numbers from 0 to `n_draws`, of independent simulations along the first axis: of shape (n,) or (n, n_parameters).
    n_draws : int
        How many posterior draws each truth was ranked among.
    call, because : str
        Whose ranks these are, and why they should be uniform.
    error : float
        The probability that a right solution fails.

    Raises
    ------
    StatisticalFailure
        With a message in words, which says what is wrong with the posterior.
    AssertionError
        If `ranks` are no finite numbers, of at most two axes.
    ValueError
        If a rank is no whole number from 0 to `n_draws`, or `error` is no probability.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth, draws = rng.normal(size=1000), rng.normal(size=(1000, 99))
    >>> assert_calibrated((draws < truth[:, None]).sum(axis=1), 99, "my_posterior", "(4)")
    >>> assert_calibrated((0.7 * draws < truth[:, None]).sum(axis=1), 99, "my_posterior", "(4)")
    Traceback (most recent call last):
    mlpath.testing.StatisticalFailure: my_posterior has 62% of ranks in the outer quarters, over 1000 truths
    expected by (4): 50%
    its posterior is too narrow; by chance as far with probability 2e-19
    (a right solution fails this check with probability 1e-08)
    """
    from scipy import special

    _spend(error)
    r = _numbers(ranks, call, least=1)
    if r.ndim > 2:
        raise AssertionError(f"the ranks of {call} have shape {r.shape}; expected (n,) or (n, n_parameters)")
    if n_draws < 1 or not ((r >= 0) & (r <= n_draws) & (r == np.round(r))).all():
        raise ValueError(f"ranks must be whole numbers from 0 to n_draws = {n_draws}")
    n, values = len(r), n_draws + 1
    columns = r.reshape(n, -1).T.astype(int)
    n_bins = min(values, 10)
    bins = np.arange(values) * n_bins // values
    probabilities = np.bincount(bins) / values
    chances = []
    for column in columns:
        each, together = _multinomial(np.bincount(bins[column], minlength=n_bins).astype(float), probabilities)
        below = np.bincount(column, minlength=values).cumsum() / n
        gap = np.abs(below - np.arange(1, values + 1) / values).max()
        chances.append(2 * min(each.min(), together, 2 * special.smirnov(n, gap)))
    if (chance := min(min(chances) * len(columns), 1.0)) < error:
        worst = int(np.argmin(chances))
        name = f"{call}, parameter {worst}," if r.ndim == 2 else call
        said = f"by chance as far with probability {chance:.0e}"
        came, want, what = _shape_of_ranks((columns[worst] + 0.5) / values)
        came = f"has {came}, over {n} truths"
        raise StatisticalFailure(_message(name, came, because, want, f"{what}; {said}", error))


# ------------------------------------------------------------ arguments


def _spend(error: float) -> None:
    if not 0 < error < 1:
        raise ValueError(f"error must be a probability between 0 and 1, got {error}")
    spent.append(error)


def _numbers(draws: Any, call: str, *, least: int, ndim: int | None = None) -> np.ndarray:
    """`draws` in float64; fails if the learner returned something else than finite numbers along a first axis."""
    try:
        x = np.asarray(plain(draws))
    except ValueError:  # a ragged list
        x = np.array(None)
    if x.dtype.kind not in "biuf":
        raise AssertionError(f"{call} is no array of real numbers: {draws!r} ({type(draws).__name__})")
    if x.ndim < 1 or len(x) < least or (ndim is not None and x.ndim != ndim):
        shape = "(n,)" if ndim == 1 else "(n, ...)"
        raise AssertionError(f"{call} has shape {x.shape}; expected {shape}, n draws with n at least {least}")
    if bad := np.count_nonzero(~np.isfinite(x)):
        raise AssertionError(f"{call} holds {bad} numbers of {x.size} that are NaN or infinite")
    return x.astype(np.float64)


def _entries(value: Any, x: np.ndarray, call: str) -> np.ndarray:
    """`value` for each entry of a row of `x`; one number serves them all."""
    array = np.asarray(plain(value), float)
    if not np.isfinite(array).all():
        raise ValueError(f"what is expected must be finite, got {value}")
    if array.ndim and array.shape != x.shape[1:]:
        raise AssertionError(f"{call} has shape {x.shape}; expected {(len(x), *array.shape)}")
    return np.broadcast_to(array, x.shape[1:])


# ------------------------------------------------------------ laws


def _binomial(k: np.ndarray, n: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The probability of a count as far out as k, twice the smaller tail, to full relative precision."""
    from scipy import special

    # The tails of a binomial law are incomplete beta functions, of which one argument vanishes where the tail is everything.
    at_most = np.where(k < n, special.betainc(np.maximum(n - k, 1), k + 1, 1 - p), 1.0)
    at_least = np.where(k > 0, special.betainc(np.maximum(k, 1), n - k + 1, p), 1.0)
    return np.minimum(2 * np.minimum(at_most, at_least), 1.0)


def _multinomial(counts: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, float]:
    """Bounds on the probability of counts as far out: for each (shared among them), and for all together."""
    from scipy import special

    n, others = counts.sum(), np.count_nonzero(p) - 1
    each = 2 * len(p) * _binomial(counts, np.full_like(p, n), p)
    x = n * special.rel_entr(counts / n, p).sum()
    together = 1.0
    if others and x > others:
        together = 2 * math.exp(min(-x + others * (1 + math.log(x / others)), 0.0)) if np.isfinite(x) else 0.0
    return np.minimum(each, 1.0), min(together, 1.0)


def _witnesses(x: np.ndarray, y: np.ndarray) -> list[Callable[[np.ndarray], np.ndarray]]:
    """Functions that are greater for rows like `x` than for rows like `y`, where these differ: by moments, by distances."""
    both = np.concatenate([x, y])
    centre = both.mean(axis=0)
    size, axes = np.linalg.eigh(np.atleast_2d(np.cov(both.T)))
    # A direction in which nothing varies must not turn rounding into a difference.
    axes = axes / np.sqrt(np.maximum(size, 1e-10 * max(size.max(), 1e-300)))

    def whiten(rows: np.ndarray) -> np.ndarray:
        return (rows - centre) @ axes

    x, y = whiten(x), whiten(y)
    means, squares = x.mean(axis=0) - y.mean(axis=0), x.T @ x / len(x) - y.T @ y / len(y)
    near, far = x[:1000], y[:1000]  # more would take long, and gain little

    def moments(rows: np.ndarray) -> np.ndarray:
        z = whiten(rows)
        return 2 * z @ means + ((z @ squares) * z).sum(axis=1)

    def energy(rows: np.ndarray) -> np.ndarray:
        z = whiten(rows)
        return _mean_distance(z, far) - _mean_distance(z, near)

    return [moments, energy]


def _mean_distance(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The mean distance of each row from the others."""
    squared = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * rows @ others.T
    return np.sqrt(np.maximum(squared, 0)).mean(axis=1)


# ------------------------------------------------------------ words


def _differences(x: np.ndarray, y: np.ndarray) -> str:
    """What differs by more than 5 standard errors (of normal laws), as a line for the message or nothing: a help, no test."""
    n, found = len(x), []
    sd = [np.maximum(rows.std(axis=0), 1e-300) for rows in (x, y)]
    apart = np.abs(x.mean(axis=0) - y.mean(axis=0)) / np.maximum(*sd)
    if apart.max() > 5 * math.sqrt(2 / n):
        found.append(f"means by up to {apart.max():.2g} standard deviations")
    times = np.exp(np.abs(np.log(sd[0] / sd[1])).max())
    if math.log(times) > 5 * math.sqrt(1 / n):
        found.append(f"standard deviations by a factor of up to {times:.2g}")
    if x.shape[1] > 1:
        with np.errstate(invalid="ignore", divide="ignore"):
            turned = np.nan_to_num(np.abs(np.corrcoef(x.T) - np.corrcoef(y.T))).max()
        if turned > 5 * math.sqrt(2 / n):
            found.append(f"correlations by up to {turned:.2g}")
    return f"they differ in {', '.join(found)}\n" if found else ""


def _shape_of_ranks(u: np.ndarray) -> tuple[str, str, str]:
    """What is most conspicuous about ranks (scaled to 0...1): a share, what it should be, what this means."""
    low, outer = np.mean(u < 0.5), np.mean(np.abs(u - 0.5) > 0.25)
    if abs(low - 0.5) > abs(outer - 0.5):
        return f"{low:.0%} of ranks in the lower half", "50%", f"its draws are too {'large' if low > 0.5 else 'small'}"
    narrow = "narrow" if outer > 0.5 else "wide"
    return f"{outer:.0%} of ranks in the outer quarters", "50%", f"its posterior is too {narrow}"


def _message(call: str, came: str, because: str, expected: Any, said: str, error: float) -> str:
    source = f"expected by {because}" if because else "expected"
    shown = expected if isinstance(expected, str) else _show(expected)
    return f"{call} {came}\n{source}: {shown}\n{said}\n(a right solution fails this check with probability {error:.2g})"


def _show(array: Any) -> str:
    """A number, or an array, to four digits."""
    a = np.asarray(array)
    if not a.ndim:
        return f"{a:.4g}"
    return np.array2string(a, formatter={"float": lambda v: f"{v:.4g}"}, threshold=24, edgeitems=3, max_line_width=100)


def _worst(size: np.ndarray, bad: np.ndarray) -> str:
    """Which entry is said to be off: 'that is', or 'entry [2] is' and how many there are."""
    if not bad.ndim:
        return "that is"
    at = ", ".join(map(str, np.unravel_index(np.argmax(size), bad.shape)))
    return f"{np.count_nonzero(bad)} of {bad.size} entries are off, most [{at}]:"
