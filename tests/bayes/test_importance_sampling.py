"""Shared tests of bayes/importance_sampling: run on the reference, and on the learner's file.

What is random is data for functions that are not: all of these tests are deterministic, but for 5 checks that a right solution fails
with a probability of 1e-8 each.
"""

import math

import numpy as np
import pytest
from scipy import special, stats

from mlpath.bayes.importance_sampling import (
    Pareto,
    effective_sample_size,
    evidence,
    fit_pareto,
    log_sum_exp,
    log_weights,
    pareto_quantile,
    plain,
    self_normalised,
    smooth,
)
from mlpath.testing import assert_close, assert_mean, assert_variance

SEED = 20250509


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


def some_weights(n=40, shift=0.0):
    """Log weights of wide spread, with two draws of no weight at all, and values of both signs."""
    rng = np.random.default_rng(7)
    found = rng.normal(shift, 2, n)
    found[[3, 17]] = -np.inf
    return found, rng.normal(1, 3, n)


BAD = {
    "a matrix": np.zeros((30, 2)),
    "empty": np.zeros(0),
    "nan": np.r_[np.zeros(40), np.nan],
    "infinite": np.r_[np.zeros(40), np.inf],
    "no weight": np.full(40, -np.inf),
}


# log_sum_exp


def test_log_sum_exp_by_hand():
    found = log_sum_exp(np.log([0.5, 3.0, 4.5]))
    assert_close(found, math.log(8), "log_sum_exp(log of [0.5, 3, 4.5])", "equation (4)")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [-1e6, -800.0, 0.0, 800.0, 1e6])
def test_log_sum_exp_survives_numbers_of_any_size(size):
    a = size + np.log([1.0, 2.0, 3.0, 4.0])
    assert_close(log_sum_exp(a), size + math.log(10), f"log_sum_exp({size:g} + log of [1, 2, 3, 4])", "equation (4)")
    assert a[0] == size, "log_sum_exp changed its argument"


@pytest.mark.filterwarnings("error")
def test_log_sum_exp_knows_summands_of_zero():
    found = log_sum_exp(np.array([-np.inf, 2.0, -np.inf, 2.0]))
    assert_close(found, 2 + math.log(2), "log_sum_exp([-inf, 2, -inf, 2])", "equation (4)")
    assert log_sum_exp(np.full(3, -np.inf)) == -np.inf, "log_sum_exp([-inf, -inf, -inf]) is not -inf"


def test_log_sum_exp_agrees_with_scipy(rng):
    a = rng.normal(0, 30, 200)
    assert_close(log_sum_exp(a), float(special.logsumexp(a)), "log_sum_exp of 200 numbers", "SciPy", rtol=1e-12)


# evidence


def test_evidence_is_the_mean_of_the_weights():
    log_evidence, relative_error = evidence(np.log([4.0, 1.0, 1.0, 2.0, 7.0]))
    assert_close(math.exp(log_evidence), 3.0, "exp of evidence(log of [4, 1, 1, 2, 7])[0]", "the mean of the weights")
    # Deviations 1, -2, -2, -1, 4: a variance of 26 / 4, so the squared error of the mean is 26 / 20.
    assert_close(relative_error, math.sqrt(1.3) / 3, "evidence(log of [4, 1, 1, 2, 7])[1]", "equation (8)")


@pytest.mark.parametrize("shift", [-2000.0, 0.0, 2000.0])
def test_evidence_stays_in_logarithms(shift):
    w, _ = some_weights()
    log_evidence, relative_error = evidence(w + shift)
    weights = np.exp(w)
    assert_close(log_evidence, shift + math.log(weights.mean()), f"evidence(log weights {shift:+g})[0]", "(3), h = 1")
    expected = weights.std(ddof=1) / math.sqrt(len(w)) / weights.mean()
    assert_close(
        relative_error, expected, f"evidence(log weights {shift:+g})[1]", "the error of a mean, over that mean"
    )


def test_evidence_of_equal_weights_has_no_error():
    for n in (2, 3, 7, 49, 1000):
        log_evidence, relative_error = evidence(np.full(n, 0.3))
        assert_close(log_evidence, 0.3, f"evidence({n} times 0.3)[0]", "the mean of the weights")
        # Rounding of 1e-16 under a root.
        assert_close(relative_error, 0.0, f"evidence({n} times 0.3)[1]", "equation (8)", atol=1e-7)


def test_evidence_and_its_error_are_right_for_a_conjugate_model(rng):
    # Prior N(0, 1), 12 observations of N(theta, 1), proposal a widened posterior; the evidence is known.
    y = np.array([0.3, 1.9, 0.2, -0.5, 1.4, 0.9, 2.1, 0.6, -0.3, 1.2, 0.8, 1.6])
    mean, sd = y.sum() / 13, 1 / math.sqrt(13)
    exact = -(y @ np.linalg.solve(np.eye(12) + 1, y) + math.log(13) + 12 * math.log(2 * math.pi)) / 2
    z, ratio = [], []
    for u in rng.standard_normal((200, 400)):
        theta = mean + 0.1 + 1.4 * sd * u
        residual = (y**2).sum() - 2 * y.sum() * theta + 12 * theta**2
        log_joint = -(theta**2 + residual) / 2 - 6.5 * math.log(2 * math.pi)
        log_proposal = -(u**2) / 2 - math.log(1.4 * sd) - math.log(2 * math.pi) / 2
        log_evidence, relative_error = evidence(log_joint - log_proposal)
        ratio.append(math.exp(log_evidence - exact))
        z.append((ratio[-1] - 1) / relative_error)
    assert_mean(ratio, 1, "the evidence of a conjugate model, over the exact one,", "equation (2): unbiased")
    # The errors are estimated, of bounded weights: z is normal to a few per cent.
    assert_variance(z, 1, "deviations of the evidence, over their stated errors,", "equation (8)", kurtosis=3.3)


@pytest.mark.given
@pytest.mark.parametrize("what", BAD)
def test_evidence_and_the_others_refuse_weights_that_are_none(what):
    weights = BAD[what]
    for function in (evidence, effective_sample_size, smooth):
        with pytest.raises(ValueError, match="log_weights must"):
            function(weights)
    for function in (plain, self_normalised):
        with pytest.raises(ValueError, match="log_weights must"):
            function(weights, np.zeros(weights.shape))
    for too_few, call in ((1, evidence), (24, smooth)):
        with pytest.raises(ValueError, match="log_weights must"):
            call(np.arange(float(too_few)))


@pytest.mark.given
@pytest.mark.parametrize("values", [np.zeros(3), np.array([1.0, np.nan]), np.array([1.0, np.inf]), np.zeros((2, 1))])
def test_plain_and_self_normalised_refuse_values_that_do_not_fit(values):
    for function in (plain, self_normalised):
        with pytest.raises(ValueError, match="values must"):
            function(np.zeros(2), values)


# plain


def test_plain_by_hand():
    estimate = plain(np.log([2.0, 0.5, 4.0, 1.0]), np.array([1.0, 4.0, -1.0, 8.0]))
    # Products 2, 2, -4, 8 with mean 2 and deviations 0, 0, -6, 6.
    call = "plain(log of [2, 0.5, 4, 1], [1, 4, -1, 8])"
    assert_close(estimate.value, 2.0, f"{call}.value", "equation (3)")
    assert_close(estimate.standard_error, math.sqrt(72 / 12), f"{call}.standard_error", "equation (3)")


def test_plain_is_the_mean_of_the_products_with_its_error():
    w, values = some_weights()
    estimate, products = plain(w, values), np.exp(w) * values
    assert_close(estimate.value, products.mean(), "plain(log_weights, values).value", "equation (3)", rtol=1e-11)
    expected = float(stats.sem(products))
    assert_close(estimate.standard_error, expected, "plain(...).standard_error", "SciPy's sem", rtol=1e-11)
    assert np.isneginf(w[3]), "plain changed its argument log_weights"


def test_plain_grows_with_the_weights():
    w, values = some_weights()
    one, more = plain(w, values), plain(w + math.log(10), values)
    assert_close(more.value, 10 * one.value, "plain of weights ten times as large, value", "ten times the value")
    expected = 10 * one.standard_error
    assert_close(more.standard_error, expected, "plain of weights ten times as large, error", "ten times the error")


def test_plain_is_unbiased_for_a_tail_probability(rng):
    # P(X > 4) = 3.2e-5 of a standard normal law: draws of N(4, 1) have weights exp(8 - 4 x).
    exact = stats.norm.sf(4)
    estimates = []
    for x in rng.normal(4, 1, (200, 200)):
        estimates.append(plain(8 - 4 * x, (x > 4).astype(float)))
    values = np.array([e.value for e in estimates])
    assert_mean(values / exact, 1, "plain's estimates of P(X > 4), over the exact probability,", "equation (2)")
    errors = np.array([e.standard_error for e in estimates])
    z = (values - exact) / np.sqrt(np.mean(errors**2))
    call = "deviations of plain's estimates, over the root of their mean squared error,"
    assert_variance(z, 1, call, "equation (3)", kurtosis=3.5)


@pytest.mark.given
def test_plain_refuses_weights_that_overflow():
    with pytest.raises(ValueError, match="log_weights must"):
        plain(np.array([0.0, 701.0]), np.ones(2))


# self_normalised


def test_self_normalised_by_hand():
    estimate = self_normalised(np.log([1.0, 3.0, 4.0]), np.array([2.0, -2.0, 5.0]))
    # Weights 1/8, 3/8, 4/8: mean 16/8; deviations 0, -4, 3.
    call = "self_normalised(log of [1, 3, 4], [2, -2, 5])"
    assert_close(estimate.value, 2.0, f"{call}.value", "equation (5)")
    assert_close(estimate.standard_error, math.sqrt(9 * 16 + 16 * 9) / 8, f"{call}.standard_error", "equation (6)")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shift", [-5000.0, 0.0, 5000.0])
def test_self_normalised_does_not_need_the_constant(shift):
    w, values = some_weights()
    weights = np.exp(w) / np.exp(w).sum()
    mean = np.average(values, weights=weights)
    estimate = self_normalised(w + shift, values)
    call = f"self_normalised(log weights {shift:+g}, values)"
    assert_close(estimate.value, float(mean), f"{call}.value", "equation (5)")
    expected = math.sqrt(sum(v**2 * (h - mean) ** 2 for v, h in zip(weights, values)))
    assert_close(estimate.standard_error, expected, f"{call}.standard_error", "equation (6)")


def test_self_normalised_of_a_constant_is_exact():
    w, _ = some_weights()
    estimate = self_normalised(w, np.full(len(w), 2.5))
    assert_close(estimate.value, 2.5, "self_normalised(log_weights, all 2.5).value", "equation (5)")
    assert_close(
        estimate.standard_error, 0.0, "self_normalised(log_weights, all 2.5).standard_error", "(6)", atol=1e-14
    )


def test_self_normalised_has_the_error_that_it_states(rng):
    # The mean 2.5 of a gamma law of shape 2.5, from draws of an exponential law with mean 4.
    z = []
    for x in rng.exponential(4, (200, 500)):
        estimate = self_normalised(1.5 * np.log(x) - x + x / 4, x)
        z.append((estimate.value - 2.5) / estimate.standard_error)
    call = "deviations of self_normalised, over their stated errors,"
    assert_variance(z, 1, call, "equation (6)", kurtosis=3.3)


# effective_sample_size


def test_effective_sample_size_by_hand():
    found = effective_sample_size(np.log([1.0, 1.0, 2.0, 4.0]))
    assert_close(found, 64 / 22, "effective_sample_size(log of [1, 1, 2, 4])", "equation (7)")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shift", [-3000.0, 0.0, 3000.0])
def test_effective_sample_size_lies_between_one_and_all(shift):
    equal = effective_sample_size(np.full(17, shift))
    assert_close(equal, 17.0, f"effective_sample_size(17 times {shift:g})", "equation (7)")
    alone = effective_sample_size(np.r_[np.full(9, -np.inf), shift])
    assert_close(alone, 1.0, f"effective_sample_size(nine times -inf, {shift:g})", "equation (7)")
    w, _ = some_weights()
    expected = np.exp(w).sum() ** 2 / (np.exp(w) ** 2).sum()
    assert_close(effective_sample_size(w + shift), expected, f"effective_sample_size({shift:+g})", "equation (7)")


# pareto_quantile


def test_pareto_quantile_by_hand():
    found = pareto_quantile(np.array([0.0, 0.75, 0.96]), Pareto(0.5, 3.0))
    assert_close(found, np.array([0, 6, 24.0]), "pareto_quantile([0, 0.75, 0.96], Pareto(0.5, 3))", "equation (9)")


@pytest.mark.parametrize("shape", [-0.7, -0.01, 1e-5, 0.3, 1.0, 2.5])
def test_pareto_quantile_inverts_the_distribution_function(shape):
    p = np.array([0.01, 0.2, 0.5, 0.9, 0.999])
    x = pareto_quantile(p, Pareto(shape, 1.7))
    back = 1 - (1 + shape * x / 1.7) ** (-1 / shape)
    assert_close(back, p, f"(9) at pareto_quantile(p, Pareto({shape}, 1.7))", "p", rtol=1e-8)
    assert p[0] == 0.01, "pareto_quantile changed its argument p"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [0.0, 1e-300, -1e-300, 1e-18, -1e-18, 1e-14])
def test_pareto_quantile_becomes_exponential(shape):
    p = np.array([1e-15, 0.1, 0.6, 0.95])
    found = pareto_quantile(p, Pareto(shape, 2.0))
    assert_close(found, -2 * np.log1p(-p), f"pareto_quantile(p, Pareto({shape}, 2))", "an exponential law", rtol=1e-12)


def test_pareto_quantile_is_precise_for_small_p():
    p = np.array([1e-18, 1e-12])
    found = pareto_quantile(p, Pareto(0.6, 2.0))
    # To first order the density at 0 is 1 / scale.
    assert_close(found, 2 * p, "pareto_quantile([1e-18, 1e-12], Pareto(0.6, 2))", "2 p, nearly", rtol=1e-10)


@pytest.mark.given
def test_pareto_quantile_refuses_what_is_no_probability_or_law():
    for p in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="p must"):
            pareto_quantile(np.array([p]), Pareto(0.5, 1.0))
    for scale in (0.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="law must"):
            pareto_quantile(np.array([0.5]), Pareto(0.5, scale))


# fit_pareto


def oracle(x):
    """The fit, with the likelihood by SciPy, summed over the excesses."""
    x = np.sort(x)
    m = len(x)
    quartile = x[math.floor(m / 4 + 0.5) - 1]
    size = 30 + math.floor(math.sqrt(m))
    grid = np.array([1 / x[-1] + (1 - math.sqrt(size / (j - 0.5))) / 3 / quartile for j in range(1, size + 1)])
    k = np.array([np.mean(np.log1p(-theta * x)) for theta in grid])
    heights = stats.genpareto.logpdf(x[:, None], k, scale=-k / grid).sum(axis=0)
    theta = np.average(grid, weights=np.exp(heights - heights.max()))
    k = np.mean(np.log1p(-theta * x))
    return Pareto((m * k + 5) / (m + 10), -k / theta)


@pytest.mark.parametrize(("m", "shape"), [(5, 0.1), (6, 1.4), (7, 0.6), (11, -0.4), (100, -0.4), (226, 0.6)])
def test_fit_pareto_agrees_with_the_likelihood_of_scipy(m, shape):
    x = np.asarray(stats.genpareto.rvs(shape, scale=3, size=m, random_state=m))
    call = f"fit_pareto({m} draws of shape {shape}, scale 3)"
    assert_close(fit_pareto(x), oracle(x), call, "equations (10) to (13), likelihood by SciPy", rtol=1e-8)


def test_fit_pareto_where_the_grid_meets_zero():
    x = np.array([7.0, 5.0, 9.0, 5.0, 6.0])  # theta_5 = 1/9 + (1 - 8/3) / 15
    near = oracle(x + np.array([0.0, 0.0, 1e-8, 0.0, 0.0]))
    call = "fit_pareto([7, 5, 9, 5, 6]), where the fifth point of the grid is 0,"
    assert_close(fit_pareto(x), near, call, "the limit of (10) and (11)", rtol=1e-6)


def test_fit_pareto_takes_the_excesses_in_any_order_and_leaves_them_alone():
    x = np.asarray(stats.genpareto.rvs(0.5, size=60, random_state=1))
    given = x.copy()
    assert_close(fit_pareto(given), fit_pareto(np.sort(x)), "fit_pareto(x)", "fit_pareto(x in order)", rtol=1e-12)
    assert np.array_equal(given, x), "fit_pareto changed its argument, perhaps by sorting it in place"


@pytest.mark.parametrize(("shape", "scale"), [(-0.3, 2.0), (0.0, 0.01), (0.5, 1e4), (1.2, 1.0)])
def test_fit_pareto_finds_a_planted_law(shape, scale):
    # 5,000 quantiles instead of draws: what remains is the error of the method, not of chance.
    p = (np.arange(5000) + 0.5) / 5000
    law = fit_pareto(stats.genpareto.ppf(p, shape, scale=scale))
    assert abs(law.shape - shape) < 0.02, f"fit_pareto of shape {shape} found {law.shape:.4f}"
    assert abs(law.scale / scale - 1) < 0.02, f"fit_pareto of scale {scale} found {law.scale:.4g}"


def test_fit_pareto_scales_with_its_excesses():
    x = np.asarray(stats.genpareto.rvs(0.7, size=45, random_state=2))
    law, larger = fit_pareto(x), fit_pareto(1e6 * x)
    assert_close(larger.shape, law.shape, "fit_pareto(1e6 x).shape", "that of x", rtol=1e-7)
    assert_close(larger.scale, 1e6 * law.scale, "fit_pareto(1e6 x).scale", "1e6 times that of x", rtol=1e-7)


def test_fit_pareto_draws_few_excesses_towards_a_half():
    p = (np.arange(10) + 0.5) / 10
    for shape in (-1.0, 2.0):
        x = stats.genpareto.ppf(p, shape)
        law = fit_pareto(x)
        assert_close(law, oracle(x), f"fit_pareto(10 quantiles of shape {shape})", "equation (13)", rtol=1e-8)
        nearer = abs(law.shape - 0.5) < abs(shape - 0.5)
        assert nearer, f"fit_pareto of 10 quantiles of shape {shape} found {law.shape:.3f}, no nearer to 0.5"


def test_fit_pareto_survives_some_excesses_of_zero():
    x = np.r_[np.zeros(5), np.asarray(stats.genpareto.rvs(0.4, size=30, random_state=3))]
    assert_close(fit_pareto(x), oracle(x), "fit_pareto(5 zeros and 30 draws)", "equations (10) to (13)", rtol=1e-8)


@pytest.mark.given
@pytest.mark.parametrize(
    "x",
    [
        np.ones(4),
        np.ones((5, 1)),
        np.array([1, 2, 3, 4, -1.0]),
        np.array([1, 2, 3, 4, np.nan]),
        np.array([1, 2, 3, 4, np.inf]),
        np.r_[np.zeros(3), np.ones(7)],
    ],
)
def test_fit_pareto_refuses_what_are_no_excesses(x):
    with pytest.raises(ValueError, match="excesses must"):
        fit_pareto(x)


# smooth


def smoothed_by_hand(log_weights):
    """The weights themselves, sorted, with SciPy's quantiles; and the shape."""
    n = len(log_weights)
    m = math.floor(n / 5) if n <= 225 else math.floor(3 * math.sqrt(n))
    weights = np.exp(log_weights - max(log_weights))
    order = sorted(range(n), key=lambda i: weights[i])
    threshold = weights[order[n - m - 1]]
    law = oracle(weights[order[n - m :]] - threshold)
    quantiles = stats.genpareto.ppf((np.arange(m) + 0.5) / m, law.shape, scale=law.scale)
    for rank, i in enumerate(order[n - m :]):
        weights[i] = min(threshold + quantiles[rank], 1.0)
    return np.log(weights / weights.sum()), law.shape


@pytest.mark.parametrize(("n", "spread"), [(25, 2.0), (61, 0.2), (225, 2.0), (226, 0.2), (1000, 1.5)])
def test_smooth_replaces_the_tail_by_quantiles(n, spread):
    w = np.random.default_rng(n).normal(0, spread, n)
    found, given = smooth(w), w.copy()
    expected, shape = smoothed_by_hand(w)
    call = f"smooth({n} normal log weights with standard deviation {spread})"
    assert_close(found.shape, shape, f"{call}.shape", "equations (10) to (14)", rtol=1e-7)
    assert_close(found.log_weights, expected, f"{call}.log_weights", "equation (15)", rtol=0, atol=1e-7)
    assert np.array_equal(w, given), "smooth changed its argument log_weights"


@pytest.mark.parametrize("n", [100, 400])
def test_smooth_returns_weights_that_sum_to_one_in_their_order(n):
    w = np.random.default_rng(n).standard_t(5, n)
    found = smooth(w).log_weights
    assert_close(np.exp(found).sum(), 1.0, f"the sum of the weights of smooth({n} log weights)", "its docstring")
    order, ordered = np.argsort(w), found[np.argsort(w)]
    falls = np.count_nonzero(np.diff(ordered) < -1e-12)
    assert falls == 0, f"smooth changed the order of the weights: sorted by size before, they fall {falls} times after"
    m = n // 5 if n <= 225 else int(3 * math.sqrt(n))
    body = (found - w)[order[:-m]]
    assert_close(body, np.full(n - m, body[0]), "log w' - log w below the tail", "one constant", rtol=0, atol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shift", [-1500.0, 1500.0])
def test_smooth_does_not_need_the_constant(shift):
    w = np.random.default_rng(5).normal(0, 1.5, 300)
    w[[4, 100]] = -np.inf
    one, other = smooth(w), smooth(w + shift)
    # Adding 1500 rounds the log weights to 2e-13.
    assert_close(other.shape, one.shape, f"smooth(log weights {shift:+g}).shape", "that without it", rtol=1e-7)
    because = "those without it"
    assert_close(other.log_weights, one.log_weights, f"smooth({shift:+g}).log_weights", because, rtol=0, atol=1e-7)
    assert np.isneginf(one.log_weights[[4, 100]]).all(), "smooth gave weight to a draw that had none"


def test_smooth_counts_of_equal_weights_the_later_as_the_larger():
    w = np.random.default_rng(8).normal(0, 1.2, 200)
    top = np.argsort(w)[-12:]
    w[np.sort(top)[[2, 5, 9]]] = w[top].mean()
    expected, _ = smoothed_by_hand(w)
    found = smooth(w).log_weights
    assert_close(found, expected, "smooth(200 log weights, three in the tail equal)", "(15)", rtol=0, atol=1e-7)
    tied = found[np.sort(top)[[2, 5, 9]]]
    assert (np.diff(tied) > 0).all(), f"of three equal weights the later ones count as larger; smooth made them {tied}"


def test_smooth_never_exceeds_the_largest_weight():
    w = np.r_[np.random.default_rng(2).normal(0, 0.3, 290), 4.0 + np.linspace(0, 0.01, 10)]
    found = smooth(w).log_weights
    expected, _ = smoothed_by_hand(w)
    assert_close(found, expected, "smooth(290 small log weights and 10 of about 4)", "(15)", rtol=0, atol=1e-7)
    top = np.count_nonzero(found > found.max() - 1e-12)
    assert top > 1, "the quantiles of this tail exceed its largest weight, but only one of them is cut to it"


def test_smooth_tells_proposals_that_are_too_narrow():
    # Normal targets of standard deviation 1; draws, as quantiles, of normal proposals.
    u = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    shapes = {sd: smooth(-((sd * u) ** 2) / 2 + u**2 / 2).shape for sd in (0.5, 0.8)}
    # The weights exp(x^2 (1 / sd^2 - 1) / 2) have tails of the shape 1 - sd^2, though from afar.
    assert 0.55 < shapes[0.5] < 0.95, (
        f"a proposal of half the width has a tail of shape {shapes[0.5]:.2f}; expected 0.75"
    )
    assert 0.2 < shapes[0.8] < 0.55, f"a proposal of 0.8 times the width has shape {shapes[0.8]:.2f}; expected 0.36"


def test_smooth_refuses_weights_without_a_tail():
    for w in (np.zeros(100), np.r_[np.full(95, -np.inf), np.arange(5.0)], np.r_[np.zeros(90), np.arange(1.0, 11)]):
        with pytest.raises(ValueError, match="excesses must"):
            smooth(w)


@pytest.mark.given
def test_log_weights_are_target_less_proposal():
    x = np.array([[0.5, 1.0], [2.0, -1.0], [0.0, 3.0]])

    def target(x):
        return np.where(x[:, 1] > 0, -x.sum(axis=1), -np.inf)

    found = log_weights(target, x, np.array([-1.0, -2.0, 0.5]))
    assert_close(found, np.array([-0.5, -np.inf, -3.5]), "log_weights", "equation (1)")
    with pytest.raises(ValueError, match="log_proposal must"):
        log_weights(target, x, np.array([-1.0, -np.inf, 0.5]))
    with pytest.raises(ValueError, match="points must"):
        log_weights(target, -x[[0, 2]], np.zeros(2))
    with pytest.raises(ValueError, match="log_density_fn must"):
        log_weights(lambda x: np.full(len(x), np.nan), x[:1], np.zeros(1))
