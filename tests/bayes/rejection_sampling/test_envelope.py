"""Shared tests of bayes/rejection_sampling/envelope: run on the reference, and on the learner's file.

What is random is checked by tests that a right solution fails with a probability of 1e-8 each, 19 of them: 2e-7 together.
"""

import math

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes.rejection_sampling.envelope import (
    Proposal,
    accept,
    cauchy_bound,
    evidence,
    laplace,
    laplace_bound,
    laplace_quantile,
    log_acceptance,
    sample,
)
from mlpath.testing import assert_close, assert_distribution, assert_frequency, assert_mean

SEED = 20250507
N = 10_000
ENOUGH = 10 * N  # tries: more than any of these tests needs


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


# Targets and proposals


def normal(x):
    """The standard normal density, with its constant."""
    return -(x**2).sum(axis=1) / 2 - x.shape[1] * math.log(2 * math.pi) / 2


def cubic(x):
    """60 x^2 (1 - x) on (0, 1), a beta density of mass 5."""
    x = x[:, 0]
    inside = (x > 0) & (x < 1)
    return np.where(inside, math.log(60) + np.log(np.where(inside, x**2 * (1 - x), 1)), -np.inf)


CUBIC_BOUND = math.log(60 * 4 / 27)


def nowhere(x):
    return np.full(len(x), -np.inf)


def constant(value):
    """A target of the same log density everywhere."""
    return lambda x: np.full(len(x), float(value))


def uniform(dim=1):
    """Uniform on (0, 1) in each coordinate."""
    return Proposal(lambda n, rng: rng.random((n, dim)), lambda x: np.zeros(len(x)))


class Counting:
    """A proposal of the whole numbers 1, 2, 3, ..., in order; and a target that accepts those of a set."""

    def __init__(self, wanted):
        self.wanted, self.proposed, self.sizes, self.evaluated = np.array(wanted), 0, [], []
        self.proposal = Proposal(self.draw, lambda x: np.full(len(x), -7.0))

    def draw(self, n, rng):
        self.sizes.append(n)
        numbers = np.arange(self.proposed + 1.0, self.proposed + n + 1)
        self.proposed += n
        return np.stack([numbers, -numbers], axis=1)

    def target(self, x):
        self.evaluated.append(x.copy())
        return np.where(np.isin(x[:, 0], self.wanted), -5.0, -np.inf)  # log M = 2


# laplace_quantile


def test_laplace_quantile_inverts_the_distribution_function():
    found = laplace_quantile(np.array([0.02, 0.25, 0.5, 0.9]), scale=3.0)
    expected = 3 * np.array([math.log(0.04), math.log(0.5), 0.0, -math.log(0.2)])
    assert_close(found, expected, "laplace_quantile([0.02, 0.25, 0.5, 0.9], scale=3)", "equation (4)", atol=1e-15)


def test_laplace_quantile_agrees_with_scipy_in_any_shape():
    u = np.linspace(0.01, 0.97, 12).reshape(3, 2, 2)
    found = laplace_quantile(u, scale=0.4)
    assert_close(found, stats.laplace(scale=0.4).ppf(u), "laplace_quantile(u, scale=0.4)", "SciPy", atol=1e-15)
    assert u[0, 0, 0] == 0.01, "laplace_quantile changed its argument u"


def test_laplace_quantile_is_precise_where_u_is_tiny():
    u = np.array([1e-300, 1e-17, 1e-12, 3e-9])
    found = laplace_quantile(u, scale=1.0)
    assert_close(found, np.log(2) + np.log(u), f"laplace_quantile({u.tolist()}, scale=1)", "equation (4): log 2u")


@pytest.mark.filterwarnings("error")
def test_laplace_quantile_is_infinite_at_the_ends_without_a_warning():
    found = laplace_quantile(np.array([0.0, 1.0]), scale=2.0)
    assert_close(found, np.array([-np.inf, np.inf]), "laplace_quantile([0, 1], scale=2)", "its docstring")


@pytest.mark.given
@pytest.mark.parametrize("u", [-0.1, 1.1, np.nan])
def test_laplace_quantile_refuses_what_is_no_probability(u):
    with pytest.raises(ValueError, match="u must"):
        laplace_quantile(np.array([0.5, u]), scale=1.0)


@pytest.mark.given
@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_laplace_quantile_and_the_bounds_refuse_a_scale_that_is_not_positive(scale):
    for call in (lambda: laplace_quantile(np.ones(1), scale=scale), lambda: laplace_bound(1, scale=scale)):
        with pytest.raises(ValueError, match="scale must"):
            call()
    with pytest.raises(ValueError, match="scale must"):
        cauchy_bound(scale=scale)


# laplace_bound


def highest(scale, law):
    """The greatest log ratio of the normal density to that of `law`, on a fine grid."""
    x = np.linspace(0, 30, 300_001)
    return float((stats.norm.logpdf(x) - law(scale=scale).logpdf(x)).max())


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
def test_laplace_bound_is_the_greatest_ratio(scale):
    # The grid misses the top of the parabola by less than 1e-4, which is 1e-8 in height.
    found = laplace_bound(1, scale=scale)
    assert_close(found, highest(scale, stats.laplace), f"laplace_bound(1, scale={scale})", "a fine grid", atol=1e-7)


def test_laplace_bound_adds_up_over_the_coordinates():
    for dim in (2, 7):
        expected = dim * (0.5 / 0.49 + math.log(1.4) - math.log(2 * math.pi) / 2)
        assert_close(laplace_bound(dim, scale=0.7), expected, f"laplace_bound({dim}, scale=0.7)", "equation (5)")


def test_laplace_bound_is_least_at_scale_one():
    best = 0.5 * math.log(2 * math.e / math.pi)
    assert_close(laplace_bound(1, scale=1.0), best, "laplace_bound(1, scale=1)", "M = sqrt(2 e / pi)")
    for scale in (0.9, 1.1):
        assert laplace_bound(1, scale=scale) > best, f"laplace_bound(1, scale={scale}) is below that of scale 1"


@pytest.mark.given
def test_laplace_bound_refuses_no_dimensions():
    with pytest.raises(ValueError, match="dim must"):
        laplace_bound(0, scale=1.0)


# cauchy_bound


@pytest.mark.parametrize("scale", [0.2, 1.0, 1.3, 1.5, 4.0])
def test_cauchy_bound_is_the_greatest_ratio(scale):
    found = cauchy_bound(scale=scale)
    assert_close(found, highest(scale, stats.cauchy), f"cauchy_bound(scale={scale})", "a fine grid", atol=1e-7)


def test_cauchy_bound_is_at_the_origin_where_the_scale_is_large():
    for scale in (math.sqrt(2), 2.0, 50.0):
        expected = math.log(scale * math.sqrt(math.pi / 2))
        assert_close(cauchy_bound(scale=scale), expected, f"cauchy_bound(scale={scale:.4g})", "(6) at x = 0")


def test_cauchy_bound_is_beside_the_origin_where_the_scale_is_small():
    best = 0.5 * math.log(2 * math.pi / math.e)
    assert_close(cauchy_bound(scale=1.0), best, "cauchy_bound(scale=1)", "M = sqrt(2 pi / e)")


# log_acceptance


def test_log_acceptance_is_the_target_below_its_envelope():
    points = np.arange(8.0).reshape(4, 2)
    log_target, log_envelope = np.array([-1.0, -4.5, 700.0, -1e5]), np.array([0.5, -4.5, 702.0, 3.0])
    found = log_acceptance(log_target, log_envelope, points)
    call = "log_acceptance([-1, -4.5, 700, -1e5], [0.5, -4.5, 702, 3], points)"
    assert_close(found, np.array([-1.5, 0.0, -2.0, -100003.0]), call, "equation (2)")
    assert log_target[0] == -1, "log_acceptance changed its argument log_target"


def test_log_acceptance_is_minus_infinity_outside_the_support():
    found = log_acceptance(np.array([-np.inf, -3.0]), np.array([-2.0, -2.0]), np.zeros((2, 1)))
    call = "log_acceptance([-inf, -3], [-2, -2], points)"
    assert_close(found, np.array([-np.inf, -1.0]), call, "its docstring")
    everywhere = log_acceptance(np.full(2, -np.inf), np.zeros(2), np.zeros((2, 1)))
    assert_close(everywhere, np.full(2, -np.inf), "log_acceptance([-inf, -inf], [0, 0], points)", "its docstring")


def test_log_acceptance_forgives_rounding_and_no_more():
    found = log_acceptance(np.array([5e-9, -1.0]), np.zeros(2), np.zeros((2, 1)))
    assert_close(found, np.array([0.0, -1.0]), "log_acceptance([5e-9, -1], [0, 0], points)", "ROUNDING: never above 0")
    with pytest.raises(ValueError, match="log_bound must"):
        log_acceptance(np.array([2e-8, -1.0]), np.zeros(2), np.zeros((2, 1)))


def test_log_acceptance_refuses_what_is_no_envelope_and_names_the_worst_point():
    points = np.array([[1.0, 2.0], [3.5, -4.0], [5.0, 6.0], [7.0, 8.0]])
    # The log density is highest at the last point, the excess greatest at the second.
    log_target, log_envelope = np.array([0.1, 2.0, 0.0, 9.0]), np.array([0.0, 0.5, 1.0, 8.5])
    with pytest.raises(ValueError, match="log_bound must") as error:
        log_acceptance(log_target, log_envelope, points)
    said = str(error.value)
    assert said.endswith(str(points[1])), f"the excess is greatest at [3.5 -4.], but the message says: {said}"


def test_log_acceptance_refuses_an_excess_however_low_the_densities():
    with pytest.raises(ValueError, match="log_bound must"):
        log_acceptance(np.array([-800.0, -900.0]), np.array([-801.0, 0.0]), np.zeros((2, 1)))


# accept


@pytest.mark.parametrize(("log_target", "log_envelope"), [(math.log(0.3), 0.0), (-1000.0, -1000 - math.log(0.3))])
def test_accept_tosses_a_coin_for_each_point(log_target, log_envelope, rng):
    accepted, n_evaluations = accept(constant(log_target), np.zeros((N, 2)), np.full(N, log_envelope), rng=rng)
    call = f"points accepted where log f = {log_target:.4g} and the envelope is {log_envelope:.4g}"
    same = "accepted" if accepted.all() else "rejected"
    assert 0 < accepted.sum() < N, f"all of {N} points were {same}: is there a coin for each?"
    assert_frequency(accepted.sum(), N, 0.3, call, "equation (2)")
    assert n_evaluations == N, f"accept says that it computed log f at {n_evaluations} of {N} points, without a squeeze"


def test_accept_takes_all_that_touches_the_envelope_and_nothing_outside_the_support(rng):
    x = np.linspace(-1, 1, 200)[:, None]
    accepted, _ = accept(lambda x: np.where(x[:, 0] > 0.2, 3.0, -np.inf), x, np.full(200, 3.0), rng=rng)
    wrong = np.count_nonzero(accepted != (x[:, 0] > 0.2))
    assert wrong == 0, f"accept is wrong at {wrong} of 200 points whose acceptance is 0 or 1"


def test_accept_uses_the_same_coin_after_the_squeeze(rng):
    squeeze = np.full(N, math.log(0.2) - 40)
    accepted, n_evaluations = accept(
        constant(math.log(0.5) - 40), np.zeros((N, 1)), np.full(N, -40.0), log_squeeze=squeeze, rng=rng
    )
    call = "points accepted where f is 0.5 and the squeeze 0.2 of the envelope"
    assert_frequency(accepted.sum(), N, 0.5, call, "equation (2): with one coin a point the squeeze changes no chance")
    call = "points at which f was computed, where the squeeze is 0.2 of the envelope,"
    assert_frequency(n_evaluations, N, 0.8, call, "equation (7)")


def test_accept_evaluates_only_what_the_squeeze_leaves_open(rng):
    seen = []

    def target(x):
        seen.append(x.copy())
        return np.where(x[:, 0] < 30, -np.inf, -1e-12)

    points = np.arange(100.0)[:, None]
    squeeze = np.where(np.arange(100) % 2 == 0, 0.0, -np.inf)
    accepted, n_evaluations = accept(target, points, np.zeros(100), log_squeeze=squeeze, rng=rng)
    assert n_evaluations == 50, f"the squeeze decides 50 of 100 points, but n_evaluations is {n_evaluations}"
    assert_close(np.concatenate(seen), points[1::2], "the points at which accept computed log f", "its docstring")
    assert len(seen) == 1, f"accept called log_density_fn {len(seen)} times, expected once"
    expected = (np.arange(100) % 2 == 0) | (np.arange(100) >= 30)
    assert np.array_equal(accepted, expected), "accept took other points than those of acceptance 1"


def test_accept_does_not_trust_a_squeeze_that_is_far_below(rng):
    accepted, n_evaluations = accept(
        constant(-300.0), np.ones((40, 1)), np.full(40, -300.0), log_squeeze=np.full(40, -400.0), rng=rng
    )
    assert n_evaluations == 40, f"the squeeze is e^-100 of the envelope, but accepted {40 - n_evaluations} of 40 points"
    assert accepted.all(), f"f touches the envelope, but accept rejected {np.count_nonzero(~accepted)} of 40 points"


def test_accept_does_not_call_the_target_where_the_squeeze_decides_all(rng):
    def target(x):
        raise AssertionError(f"accept called log_density_fn with {len(x)} points, though the squeeze decides all")

    accepted, n_evaluations = accept(target, np.ones((30, 2)), np.full(30, 4.0), log_squeeze=np.full(30, 4.0), rng=rng)
    assert accepted.all(), "accept rejected a point whose squeeze is the envelope"
    assert n_evaluations == 0, f"n_evaluations is {n_evaluations}, where the squeeze decides all"


def test_accept_checks_the_envelope_at_the_right_points(rng):
    points = np.arange(10.0)[:, None]
    squeeze = np.where(np.arange(10) < 5, 0.0, -np.inf)
    with pytest.raises(ValueError, match="log_bound must") as error:
        accept(lambda x: np.where(x[:, 0] == 7, 0.5, -1.0), points, np.zeros(10), log_squeeze=squeeze, rng=rng)
    assert str(error.value).endswith("[7.]"), (
        f"log f is above its envelope at [7.], but the message says: {error.value}"
    )


@pytest.mark.parametrize("wrong", [np.array([0.0, np.nan]), np.array([np.inf, 0.0]), np.zeros(3)])
def test_accept_refuses_what_is_no_log_density(wrong, rng):
    with pytest.raises(ValueError, match="log_density_fn must"):
        accept(lambda x: wrong, np.ones((2, 1)), np.full(2, 9.0), rng=rng)


@pytest.mark.given
def test_accept_refuses_an_envelope_or_a_squeeze_that_is_none(rng):
    with pytest.raises(ValueError, match="log_envelope must"):
        accept(constant(0), np.ones((2, 1)), np.array([0.0, np.inf]), rng=rng)
    for squeeze in ([0.0, 1.0], [np.nan, 0.0]):
        with pytest.raises(ValueError, match="log_squeeze must"):
            accept(constant(0), np.ones((2, 1)), np.zeros(2), log_squeeze=np.array(squeeze), rng=rng)


# sample


def test_sample_returns_what_is_accepted_in_its_order_and_counts_the_tries(rng):
    for batch_size in (1, 4, 1000):
        numbers = Counting([2, 3, 9, 10, 11, 12, 13])
        result = sample(numbers.target, numbers.proposal, 2.0, 4, batch_size=batch_size, max_tries=2000, rng=rng)
        call = f"sample(..., n_draws=4, batch_size={batch_size}), where the points are 1, 2, ... and f accepts 2, 3, 9, 10, ..."
        expected = np.array([[2.0, -2.0], [3.0, -3.0], [9.0, -9.0], [10.0, -10.0]])
        assert_close(result.draws, expected, f"the draws of {call}", "its docstring")
        assert result.n_tries == 10, f"{call} counts {result.n_tries} tries, expected 10: up to the last draw"
        evaluated = {1: 10, 4: 12, 1000: 1000}[batch_size]
        assert result.n_evaluations == evaluated, (
            f"{call} reports {result.n_evaluations} evaluations, expected {evaluated}"
        )
        assert sum(map(len, numbers.evaluated)) == evaluated, f"{call} evaluated f at another number of points"


def test_sample_hands_its_squeeze_on(rng):
    numbers = Counting([2, 3, 9, 10, 11])
    result = sample(
        numbers.target,
        numbers.proposal,
        2.0,
        4,
        log_squeeze_fn=lambda x: np.where(x[:, 0] < 5, numbers.target(x), -np.inf),
        batch_size=6,
        max_tries=2000,
        rng=rng,
    )
    computed = sum(map(len, numbers.evaluated)) - 12
    assert computed == 10, f"sample evaluated f at {computed} of 12 points, where the squeeze decides about two"
    assert result.n_evaluations == 10, f"sample reports {result.n_evaluations} evaluations, expected 10"
    assert_close(
        result.draws[:, 0], np.array([2.0, 3.0, 9.0, 10.0]), "the draws of sample with a squeeze", "its docstring"
    )


def test_sample_gives_up_after_max_tries(rng):
    numbers = Counting([5])
    with pytest.raises(ValueError, match="max_tries must") as error:
        sample(numbers.target, numbers.proposal, 2.0, 2, batch_size=40, max_tries=130, rng=rng)
    assert str(error.value).endswith("130"), f"the message should end with max_tries = 130, but says: {error.value}"
    assert numbers.proposed == 130, f"sample proposed {numbers.proposed} points, where max_tries is 130"
    assert max(numbers.sizes) == 40, f"sample proposed {max(numbers.sizes)} points at once, where batch_size is 40"
    with pytest.raises(ValueError, match="max_tries must"):
        sample(nowhere, uniform(), 0.0, 1, max_tries=2000, rng=rng)


def test_sample_is_content_with_exactly_max_tries(rng):
    numbers = Counting([3, 8])
    result = sample(numbers.target, numbers.proposal, 2.0, 2, batch_size=5, max_tries=8, rng=rng)
    assert result.n_tries == 8, f"the second draw comes at the eighth of 8 tries, but n_tries is {result.n_tries}"
    numbers = Counting(range(1, 100))
    result = sample(numbers.target, numbers.proposal, 2.0, 5, batch_size=5, max_tries=5, rng=rng)
    assert result.n_tries == 5, f"all of 5 tries are accepted, but n_tries is {result.n_tries}"


def test_sample_draws_from_the_normal_density(rng):
    log_bound = laplace_bound(2, scale=1.3)
    result = sample(normal, laplace(2, scale=1.3), log_bound, N // 2, max_tries=ENOUGH, rng=rng)
    for i in range(2):
        what = f"coordinate {i} of sample(normal, laplace(2, scale=1.3))"
        assert_distribution(result.draws[:, i], stats.norm, what, "its target")
    assert_mean(result.draws.prod(axis=1), 0, "the product of both coordinates", "independent coordinates", sd=1)
    # The number of tries is a sum of N / 2 geometric numbers, of mean M and variance M (M - 1): normal, very nearly.
    m = math.exp(log_bound)
    tries = (result.n_tries - N / 2 * m) / math.sqrt(N / 2 * m * (m - 1))
    assert_mean([tries], 0, "n_tries, standardised,", "equation (3): M tries for a draw", sd=1)


@pytest.mark.parametrize("batch_size", [700, 50_000])
def test_sample_draws_from_an_unnormalised_density_on_an_interval(batch_size, rng):
    result = sample(cubic, uniform(), CUBIC_BOUND + 0.4, N, batch_size=batch_size, max_tries=ENOUGH, rng=rng)
    assert_distribution(result.draws[:, 0], stats.beta(3, 2), "sample(60 x^2 (1 - x), uniform())", "its target")
    p = 5 / math.exp(CUBIC_BOUND + 0.4)
    tries = (result.n_tries - N / p) / math.sqrt(N * (1 - p)) * p
    assert_mean([tries], 0, "n_tries, standardised,", "equation (3): M / Z tries for a draw", sd=1)


def test_sample_needs_a_geometric_number_of_tries(rng):
    tries = [
        sample(constant(0.5), uniform(), 0.5 + math.log(4), 1, batch_size=6, max_tries=300, rng=rng).n_tries
        for _ in range(600)
    ]
    assert_frequency(tries.count(1), 600, 0.25, "runs of sample(n_draws=1) with one try", "equation (8)")
    more = sum(t > 4 for t in tries)
    assert_frequency(more, 600, 0.75**4, "runs of sample(n_draws=1) with more than 4 tries", "equation (8)")


def test_sample_saves_evaluations_by_a_squeeze_and_keeps_the_law(rng):
    def squeeze(x):
        below = np.maximum(1 - x[:, 0] ** 2 / 2, 1e-300)
        return np.log(below) - math.log(2 * math.pi) / 2

    log_bound = laplace_bound(1, scale=1.0)
    result = sample(
        normal, laplace(1, scale=1.0), log_bound, N, log_squeeze_fn=squeeze, batch_size=500, max_tries=ENOUGH, rng=rng
    )
    assert_distribution(result.draws[:, 0], stats.norm, "sample(normal, ...) with a squeeze", "its target")
    # The squeeze has the mass of sqrt(2) * 4 / 3 / sqrt(2 pi), the envelope M.
    p = math.sqrt(2) * 4 / 3 / math.sqrt(2 * math.pi) / math.exp(log_bound)
    size = 500 * math.ceil(result.n_tries / 500)
    assert size >= result.n_evaluations, f"{result.n_evaluations} evaluations of {size} points"
    call = "points that sample proposed and evaluated, with a squeeze of mass 0.752,"
    assert_frequency(result.n_evaluations, size, 1 - p, call, "equation (7)")


def test_sample_refuses_a_bound_that_is_too_low(rng):
    with pytest.raises(ValueError, match="log_bound must"):
        sample(normal, laplace(1, scale=1.0), laplace_bound(1, scale=1.0) - 0.1, 1000, max_tries=5000, rng=rng)
    # A normal proposal cannot cover Cauchy tails, whatever M is.
    narrow = Proposal(lambda n, rng: rng.standard_normal((n, 1)), normal)
    with pytest.raises(ValueError, match="log_bound must"):
        sample(lambda x: -np.log1p(x[:, 0] ** 2), narrow, 1.0, 5000, max_tries=20_000, rng=rng)


def test_sample_takes_all_its_randomness_from_its_generator():
    def run(seed):
        return sample(cubic, uniform(), CUBIC_BOUND, 50, max_tries=5000, rng=np.random.default_rng(seed)).draws

    assert_close(run(1), run(1), "sample with the same seed for the second time", "the draws of the first time")
    assert (run(1) != run(2)).any(), "sample returned the same draws for two different seeds"


@pytest.mark.given
@pytest.mark.parametrize("name", ["n_draws", "batch_size", "max_tries"])
def test_sample_refuses_numbers_below_one(name, rng):
    n_draws, batch_size, max_tries = (0 if name == n else 5 for n in ("n_draws", "batch_size", "max_tries"))
    with pytest.raises(ValueError, match=f"{name} must"):
        sample(cubic, uniform(), CUBIC_BOUND, n_draws, batch_size=batch_size, max_tries=max_tries, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize("log_bound", [np.nan, np.inf, -np.inf])
def test_sample_refuses_a_bound_that_is_not_finite(log_bound, rng):
    with pytest.raises(ValueError, match="log_bound must"):
        sample(cubic, uniform(), log_bound, 5, rng=rng)


@pytest.mark.given
def test_laplace_draws_from_the_density_that_it_states(rng):
    proposal = laplace(3, scale=0.4)
    x = proposal.draw(1000, rng)
    assert_close(proposal.log_density(x), stats.laplace.logpdf(x, scale=0.4).sum(axis=1), "laplace(3, scale=0.4)")
    assert_distribution(x.ravel(), stats.laplace(scale=0.4), "laplace(3, scale=0.4)", "SciPy")


# evidence


def test_evidence_by_hand():
    log_evidence, relative_error = evidence(21, 51, math.log(7))
    assert_close(
        math.exp(log_evidence), 2.8, "exp of evidence(21, 51, log 7)[0]", "equations (9) and (10): 7 * 20 / 50"
    )
    assert_close(relative_error, math.sqrt(1.5 / 49), "evidence(21, 51, log 7)[1]", "equation (10)")


def test_evidence_stays_in_logarithms():
    log_evidence, _ = evidence(100, 1000, -5000.0)
    assert_close(log_evidence, -5000 + math.log(99 / 999), "evidence(100, 1000, -5000)[0]", "equation (10)")


def test_evidence_without_rejections_has_no_error():
    assert_close(evidence(40, 40, 1.5), (1.5, 0.0), "evidence(40, 40, 1.5)", "equation (10), as p = 1")


@pytest.mark.parametrize(("n", "p"), [(3, 0.4), (6, 0.7)])
def test_evidence_is_unbiased_and_so_is_its_variance(n, p):
    tries = np.arange(n, 200)
    chance = stats.nbinom.pmf(tries - n, n, p)
    found = [evidence(n, int(t), math.log(2)) for t in tries]
    z = np.exp([log_evidence for log_evidence, _ in found])
    call = f"the mean of exp(evidence({n}, N, log 2)[0]) over the law (8) of N with p = {p}"
    assert_close(float(chance @ z), 2 * p, call, "equation (3): M p", rtol=1e-8)
    variance = (z * np.array([error for _, error in found])) ** 2
    true = chance @ z**2 - (2 * p) ** 2
    assert_close(float(chance @ variance), float(true), f"the mean square of its error, with p = {p},", "the variance")


def test_evidence_of_a_posterior(rng):
    # Uniform prior, 3 heads in 10 tosses: the evidence is 1 / 11, and the best M the greatest likelihood.
    def likelihood(x):
        return math.log(120) + 3 * np.log(x[:, 0]) + 7 * np.log1p(-x[:, 0])

    log_bound = math.log(120) + 3 * math.log(0.3) + 7 * math.log(0.7)
    result = sample(likelihood, uniform(), log_bound, N, max_tries=ENOUGH, rng=rng)
    log_evidence, relative_error = evidence(N, result.n_tries, log_bound)
    z = (math.exp(log_evidence) * 11 - 1) / relative_error
    assert_mean([z], 0, "the estimate of an evidence of 1/11, in standard errors,", "equation (10)", sd=1)


@pytest.mark.given
@pytest.mark.parametrize(("n_draws", "n_tries", "name"), [(2, 9, "n_draws"), (10, 9, "n_tries")])
def test_evidence_refuses_numbers_that_cannot_be(n_draws, n_tries, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        evidence(n_draws, n_tries, 0.0)
