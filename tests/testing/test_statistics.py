"""The checks of random numbers: how often they fail what is right, and what is wrong.

False rejections are counted over thousands of right data sets at errors of 1 % or so, where they can be counted; at 1e-8 they
are computed, where the law is known. Every count may be off by as much as chance allows once in 10^6.
"""

import doctest
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import stats

import mlpath.testing._statistics
from mlpath.testing import (
    StatisticalFailure,
    assert_calibrated,
    assert_distribution,
    assert_frequencies,
    assert_frequency,
    assert_mean,
    assert_same_distribution,
    assert_variance,
)
from mlpath.testing._statistics import spent

ERROR = 0.02


@pytest.fixture
def rng():
    return np.random.default_rng(1717)


def fails(check, *args, **kwargs):
    try:
        check(*args, "f()", "(1)", **kwargs)
    except StatisticalFailure:
        return True
    return False


def said(check, *args, **kwargs):
    with pytest.raises(StatisticalFailure) as caught:
        check(*args, "f()", "(1)", **kwargs)
    return str(caught.value).splitlines()


def assert_rate(n_failed, n, *, least=0.0, most=ERROR):
    """The rate behind `n_failed` of n may be between `least` and `most`, by binomial bounds of 1e-6."""
    assert stats.binom.sf(n_failed - 1, n, most) > 1e-6, (
        f"{n_failed} of {n} right data sets failed; at most {most} should"
    )
    assert stats.binom.cdf(n_failed, n, least) > 1e-6, f"only {n_failed} of {n} failed; the error is {least} at least"


# false rejections

LAWS = {
    "normal": stats.norm(3, 2),
    "uniform": stats.uniform(-1, 4),
    "exponential": stats.expon(),
    "laplace": stats.laplace(1, 2),
    "logistic": stats.logistic(),
    "bernoulli": stats.bernoulli(0.3),
    "poisson": stats.poisson(2),
}


@pytest.mark.parametrize(("name", "n"), [("normal", 5), *((name, 400) for name in LAWS)])
def test_mean_fails_right_draws_as_seldom_as_it_says(name, n, rng):
    law, trials = LAWS[name], 800
    x = law.rvs((trials, n), random_state=rng)
    known = sum(fails(assert_mean, row, law.mean(), sd=law.std(), error=ERROR) for row in x)
    assert_rate(known, trials, least=ERROR / 2, most=1.15 * ERROR if name != "normal" else ERROR)
    estimated = sum(fails(assert_mean, row, law.mean(), error=ERROR) for row in x)
    assert_rate(estimated, trials, least=ERROR / 2, most=1.35 * ERROR if name != "normal" else ERROR)


@pytest.mark.parametrize(("n", "most"), [(300, 100), (1000, 12), (4000, 3.0), (20_000, 1.5), (100_000, 1.2)])
def test_mean_of_exponential_draws_fails_at_1e_8_as_its_docstring_says(n, most):
    """Sums of exponential draws are gamma; the skewness is 2, so that n = 4000 is what the docstring asks for."""
    allowed = stats.norm.isf(0.5e-8)
    law = stats.gamma(n, scale=1 / n)
    upper, lower = law.sf(1 + allowed / np.sqrt(n)), law.cdf(1 - allowed / np.sqrt(n))
    assert upper + lower < most * 1e-8
    assert upper / 0.5e-8 == pytest.approx(np.exp(2 * allowed**3 / 6 / np.sqrt(n)), rel=0.5 if n > 300 else 3)
    # The same law, and the check itself just within and just outside the threshold.
    assert not fails(assert_mean, np.full(n, 1 + 0.999 * allowed / np.sqrt(n)), 1, sd=1)
    assert fails(assert_mean, np.full(n, 1 + 1.001 * allowed / np.sqrt(n)), 1, sd=1)


@pytest.mark.parametrize("n", [2, 7, 500])
def test_variance_of_normal_draws_fails_exactly_as_often_as_it_says(n, rng):
    x = rng.normal(5, 3, (1500, n))
    assert_rate(sum(fails(assert_variance, row, 9, error=ERROR) for row in x), 1500, least=0.7 * ERROR)


@pytest.mark.parametrize(("name", "most"), [("uniform", 1.2), ("exponential", 1.3), ("laplace", 1.2)])
def test_variance_of_other_draws_takes_their_kurtosis(name, most, rng):
    law, trials = LAWS[name], 1500
    kurtosis = 3 + float(law.stats(moments="k"))
    x = law.rvs((trials, 300), random_state=rng)
    count = sum(fails(assert_variance, row, law.var(), kurtosis=kurtosis, error=ERROR) for row in x)
    assert_rate(count, trials, least=ERROR / 2, most=most * ERROR)


@pytest.mark.parametrize(("n", "p"), [(10, 0.5), (50, 0.02), (1000, 0.3), (20_000, 0.999)])
def test_frequency_never_fails_more_often_than_it_says_at_any_error(n, p):
    for error in (0.05, 1e-3, 1e-8):
        wrong = [k for k in range(n + 1) if n <= 1000 or k > 19_800 if fails(assert_frequency, k, n, p, error=error)]
        rest = 0.0 if n <= 1000 else stats.binom.cdf(19_800, n, p)
        assert stats.binom.pmf(wrong, n, p).sum() + rest <= error * (1 + 1e-9)


def test_frequencies_never_fail_more_often_than_they_say(rng):
    for p in ([0.5, 0.5], [0.7, 0.2, 0.1], [0.9, 0.05, 0.03, 0.02, 0.0]):
        for n in (5, 30, 1000):
            counts = rng.multinomial(n, p, 400)
            assert_rate(sum(fails(assert_frequencies, row, p, error=ERROR) for row in counts), 400)


def test_frequencies_of_three_categories_fail_at_1e_8_as_they_say():
    """All counts of 40 draws are tried, and their exact probabilities added up."""
    n, p = 40, np.array([0.8, 0.15, 0.05])
    total = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            if fails(assert_frequencies, [a, b, n - a - b], p):
                total += stats.multinomial.pmf([a, b, n - a - b], n, p)
    assert 1e-11 < total <= 1e-8


@pytest.mark.parametrize("n", [3, 60, 500])
def test_distribution_fails_right_draws_as_seldom_as_it_says(n, rng):
    x = rng.exponential(size=(1000, n))
    count = sum(fails(assert_distribution, row, lambda x: 1 - np.exp(-x), error=ERROR) for row in x)
    assert_rate(count, 1000, least=ERROR / 2)


@pytest.mark.parametrize("name", ["normal", "exponential", "cauchy", "counts", "a constant column"])
def test_same_distribution_never_fails_more_often_than_it_says(name, rng):
    def draw():
        x = rng.normal(size=(60, 2)) @ np.array([[1.0, 0.9], [0.0, 0.1]])
        if name == "exponential":
            return np.exp(2 * x)
        if name == "cauchy":
            return rng.standard_cauchy((60, 2))
        if name == "counts":
            return rng.poisson(0.5, (60, 2))
        return np.column_stack([x, np.full(60, 0.1)]) if "constant" in name else x

    assert_rate(sum(fails(assert_same_distribution, draw(), draw(), error=0.1) for _ in range(500)), 500, most=0.1)


@pytest.mark.parametrize(("n", "n_draws"), [(20, 4), (300, 99), (1000, 7)])
def test_calibrated_never_fails_more_often_than_it_says(n, n_draws, rng):
    ranks = rng.integers(n_draws + 1, size=(500, n))
    assert_rate(sum(fails(assert_calibrated, row, n_draws, error=0.05) for row in ranks), 500, most=0.05)


@pytest.mark.parametrize("check", ["mean", "variance", "frequency", "calibrated"])
def test_many_entries_share_the_error(check, rng):
    trials, k = 800, 40
    if check == "mean":
        count = sum(fails(assert_mean, rng.normal(size=(20, 5, 8)), 0, sd=1, error=ERROR) for _ in range(trials))
    elif check == "variance":
        count = sum(fails(assert_variance, rng.normal(size=(20, k)), 1, error=ERROR) for _ in range(trials))
    elif check == "frequency":
        count = sum(fails(assert_frequency, rng.binomial(100, 0.4, k), 100, 0.4, error=ERROR) for _ in range(trials))
    else:
        count = sum(fails(assert_calibrated, rng.integers(10, size=(50, 4)), 9, error=ERROR) for _ in range(300))
    assert_rate(
        count, trials if check != "calibrated" else 300, least=ERROR / 2 if check in ("mean", "variance") else 0
    )


# power, at the default error


def power(check, draw, *args, trials=50, **kwargs):
    return np.mean([fails(check, draw(), *args, **kwargs) for _ in range(trials)])


def test_mean_sees_a_shift_of_eight_standard_errors_and_hardly_one_of_three(rng):
    for sd in (1, None):
        assert power(assert_mean, lambda: rng.normal(8.5 / 20, size=400), 0, sd=sd) > 0.9
        assert power(assert_mean, lambda: rng.normal(3 / 20, size=400), 0, sd=sd) < 0.1


def test_mean_sees_one_wrong_entry_among_many(rng):
    shift = np.zeros((3, 4))
    shift[1, 2] = 0.2
    lines = said(assert_mean, rng.normal(shift, size=(2000, 3, 4)), np.zeros((3, 4)), sd=1)
    assert lines[-2].startswith("1 of 12 entries are off, most [1, 2]: ")


def test_variance_tells_n_from_n_minus_1(rng):
    """Variances of five draws, divided by 5 instead of 4, average 0.8: many such are scaled normal squares."""
    x = rng.normal(size=(20_000, 5))
    assert not fails(assert_mean, x.var(axis=1, ddof=1), 1, sd=np.sqrt(2 / 4))
    assert fails(assert_mean, x.var(axis=1), 1, sd=np.sqrt(2 / 4))


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_variance_sees_a_standard_deviation_off_by_a_tenth(factor, rng):
    assert power(assert_variance, lambda: rng.normal(0, factor, 4000), 1) > 0.99
    assert not fails(assert_variance, rng.normal(size=4000), 1)


def test_frequency_sees_eight_standard_errors(rng):
    p = 0.3 + 8 * np.sqrt(0.21 / 2000)
    assert power(lambda k, *rest: assert_frequency(k, 2000, 0.3, *rest), lambda: rng.binomial(2000, p)) > 0.9
    assert fails(assert_frequency, 1, 10**6, 0.0)
    assert fails(assert_frequency, 10**6 - 1, 10**6, 1.0)


def test_frequencies_see_one_wrong_category_and_many_that_are_a_little_wrong(rng):
    p = np.full(50, 0.02)
    one, many = p.copy(), p * np.where(np.arange(50) % 2, 1.15, 0.85)
    one[:2] = 0.036, 0.004
    for wrong in (one, many):
        assert power(assert_frequencies, lambda w=wrong: rng.multinomial(10_000, w), p) > 0.9
    each, together = mlpath.testing._statistics._multinomial(10_000 * many, p)
    assert together < 1e-8 < each.min()


@pytest.mark.parametrize(
    ("draw", "law"),
    [
        (lambda rng: rng.laplace(0, 0.5**0.5, 6000), stats.norm()),
        (lambda rng: rng.uniform(-(3**0.5), 3**0.5, 6000), stats.norm()),
        (lambda rng: rng.normal(size=1000) + 0.3, stats.norm()),
        (lambda rng: rng.gamma(2, 0.5, 10_000), stats.gamma(1.5, scale=1 / 1.5)),
    ],
    ids=["laplace", "uniform", "shift", "gamma of another shape"],
)
def test_distribution_sees_another_law_even_with_the_right_moments(draw, law, rng):
    assert power(assert_distribution, lambda: draw(rng), law, trials=20) > 0.9


WRONG = {
    "all means": lambda x: x + 0.25,
    "one mean": lambda x: x + 0.55 * np.eye(5)[0],
    "all scales": lambda x: 1.25 * x,
    "one scale": lambda x: x * (1 + 0.6 * np.eye(5)[0]),
    "a correlation": lambda x: x @ np.linalg.cholesky(np.eye(5) + 0.6 * (np.eye(5, k=1) + np.eye(5, k=-1)) * ROTATE).T,
}
ROTATE = np.zeros((5, 5))
ROTATE[:2, :2] = 1


@pytest.mark.parametrize("name", WRONG)
def test_same_distribution_sees_what_its_docstring_says(name, rng):
    wrong = [
        fails(assert_same_distribution, WRONG[name](rng.normal(size=(1000, 5))), rng.normal(size=(1000, 5)))
        for _ in range(12)
    ]
    assert np.mean(wrong) > 0.9


def test_same_distribution_sees_a_shape_and_does_not_mind_the_unit(rng):
    x, y = rng.laplace(0, 0.5**0.5, 5000), rng.normal(size=5000)
    assert fails(assert_same_distribution, x, y)
    assert fails(assert_same_distribution, 1e8 + 1e6 * x, 1e8 + 1e6 * y)
    assert not fails(assert_same_distribution, y, rng.normal(size=6000))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda z: 0.75 * z, "too narrow"),
        (lambda z: 1.4 * z, "too wide"),
        (lambda z: z + 0.4, "too large"),
        (lambda z: z - 0.4, "too small"),
    ],
)
def test_calibrated_sees_and_tells_what_is_wrong_with_the_posterior(wrong, words, rng):
    def ranks():
        return (wrong(rng.normal(size=(1500, 49))) < rng.normal(size=(1500, 1))).sum(axis=1)

    assert power(assert_calibrated, ranks, 49) > 0.9
    assert words in said(assert_calibrated, ranks(), 49)[2]
    both = np.column_stack([rng.integers(50, size=1500), ranks()])
    assert said(assert_calibrated, both, 49)[0].startswith("f(), parameter 1, has ")


# messages and arguments


def test_messages_say_what_was_drawn_what_was_expected_and_how_far_off_it_is():
    x = np.array([[1.0, 5.0], [3.0, 5.0]] * 50)
    assert said(assert_mean, x, [2.0, 4.0], sd=1.0) == [
        "f() averages [2 5] over 100 draws",
        "expected by (1): [2 4]",
        "1 of 2 entries are off, most [1]: 10 standard errors off, where 5.85 are allowed",
        "(a right solution fails this check with probability 1e-08)",
    ]
    assert said(assert_frequency, [50, 100], 100, 0.5)[:2] == [
        "f(): [50 100] of 100, a share of [0.5 1]",
        "expected by (1): [0.5 0.5]",
    ]
    assert said(assert_variance, np.arange(100.0), 1)[2].startswith("that is 842 times as much, where ")
    assert said(assert_frequencies, [0, 100], [0.5, 0.5])[0] == "f() has shares [0 1] of 100 draws"


def test_docstring_examples():
    result = doctest.testmod(mlpath.testing._statistics)
    assert result.attempted > 15
    assert not result.failed


CALLS = [
    lambda e: assert_mean([0.0, 1.0], 0.5, "f()", error=e),
    lambda e: assert_variance([0.0, 1.0], 0.5, "f()", error=e),
    lambda e: assert_frequency(5, 10, 0.5, "f()", error=e),
    lambda e: assert_frequencies([5, 5], [0.5, 0.5], "f()", error=e),
    lambda e: assert_distribution([0.0], stats.norm(), "f()", error=e),
    lambda e: assert_same_distribution(np.zeros(200), np.zeros(200), "f()", error=e),
    lambda e: assert_calibrated([0, 1, 2], 2, "f()", error=e),
]


@pytest.mark.parametrize("call", CALLS)
def test_every_check_adds_its_error_to_what_is_spent(call):
    before = len(spent)
    call(1e-6)
    call(1e-7)
    assert spent[before:] == [1e-6, 1e-7]
    for wrong in (0.0, 1.0, -1e-8, np.nan):
        with pytest.raises(ValueError, match="error"):
            call(wrong)
    assert len(spent) == before + 2


def test_a_check_that_fails_has_spent_its_error_too():
    before = len(spent)
    assert fails(assert_mean, np.ones(100), 0, sd=1, error=1e-7)
    assert spent[before:] == [1e-7]


@pytest.mark.parametrize(
    "draws", [None, "text", [[1, 2], [3]], 1.0, [], [0.0, np.nan], [np.inf], np.ones((5, 2)), [1j]]
)
def test_what_is_no_vector_of_finite_numbers_fails(draws):
    for check in (
        lambda: assert_mean(draws, np.zeros(3) if isinstance(draws, np.ndarray) else 0, "f()", sd=1),
        lambda: assert_distribution(draws, stats.norm(), "f()"),
    ):
        with pytest.raises(AssertionError, match=r"f\(\)"):
            check()


def test_draws_that_are_all_equal_are_right_only_if_they_equal_what_is_expected():
    assert_mean(np.full(1000, 0.1), 0.1, "f()")
    assert fails(assert_mean, np.full(1000, 0.1), 0.1 + 1e-9)


def test_too_few_rows_to_ever_fail_are_told(rng):
    with pytest.raises(AssertionError, match="at least 80"):
        assert_same_distribution(rng.normal(size=79), rng.normal(size=79), "f()")
    assert fails(assert_same_distribution, np.ones(80) + 1e-3 * rng.normal(size=80), 1e-3 * rng.normal(size=80))
    with pytest.raises(AssertionError, match="rows of shape"):
        assert_same_distribution(np.ones((100, 2)), np.ones((100, 3)), "f()")


@pytest.mark.parametrize(
    ("check", "args", "kwargs", "name"),
    [
        (assert_mean, ([0.0, 1.0], 0), {"sd": 0.0}, "sd"),
        (assert_mean, ([0.0, 1.0], np.nan), {}, "expected"),
        (assert_variance, ([0.0, 1.0], 0.0), {}, "expected"),
        (assert_variance, ([0.0, 1.0], 1.0), {"kurtosis": 1.0}, "kurtosis"),
        (assert_frequency, (11, 10, 0.5), {}, "count"),
        (assert_frequency, (0.5, 10, 0.5), {}, "count"),
        (assert_frequency, (0, 0, 0.5), {}, "n positive"),
        (assert_frequency, (1, 10, 1.5), {}, "probability"),
        (assert_frequencies, ([1, 2], [0.5, 0.6]), {}, "probabilities"),
        (assert_frequencies, ([1.5, 2], [0.5, 0.5]), {}, "counts"),
        (assert_distribution, ([0.0], lambda x: x + 2), {}, "cdf"),
        (assert_calibrated, ([0, 5], 4), {}, "n_draws"),
        (assert_calibrated, ([0, 1.5], 4), {}, "n_draws"),
    ],
)
def test_bad_arguments_are_refused(check, args, kwargs, name):
    with pytest.raises(ValueError, match=name):
        check(*args, "f()", "(1)", **kwargs)


def test_tensors_are_taken_for_arrays(rng):
    x = torch.tensor(rng.normal(size=2000), requires_grad=True)
    assert_mean(x, torch.tensor(0.0), "f()", sd=torch.tensor(1.0))
    assert_variance(x, 1, "f()")
    assert_distribution(x, stats.norm(), "f()")
    assert_mean(x.to(torch.bfloat16), 0, "f()")
    assert fails(assert_mean, x + 1, 0)


def test_importing_the_checks_does_not_load_scipy():
    code = "import sys, mlpath.testing; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
