"""Shared tests of bayes/approximate_bayes: run on the reference, and on the learner's file.

What is random is checked over independent draws or runs, by checks that a right solution fails with a probability of 1e-8 each
or less, whatever the order of its random numbers. The oracle is a model of which (1) is known in closed form, equation (4).
"""

from itertools import pairwise, product

import numpy as np
import pytest
from scipy import special, stats

from mlpath.bayes.approximate_bayes import (
    Model,
    Population,
    accept_first,
    boarding_school,
    distances,
    importance_weights,
    keep_nearest,
    mad_scale,
    outbreak,
    regression_adjust,
    renew,
    sample,
    simulate,
)
from mlpath.testing import (
    assert_close,
    assert_distribution,
    assert_frequencies,
    assert_mean,
    assert_variance,
)


@pytest.fixture
def rng():
    return np.random.default_rng(20260113)


PRIOR_SD, NOISE_SD = 3.0, 0.5
OBSERVED = np.array([1.5])


def normal_model(asked=None, simulated=None):
    """A normal parameter and one normal observation of it; remembers its proposals and simulations in the lists."""

    def log_prior(theta):
        if asked is not None:
            asked.append(np.array(theta))
        return -((theta[:, 0] / PRIOR_SD) ** 2) / 2 + 1000.0

    def simulate_one(theta, rng):
        result = rng.normal(theta, NOISE_SD)
        if simulated is not None:
            simulated.append((np.array(theta), result.copy()))
        return result

    return Model(lambda n, rng: rng.normal(0, PRIOR_SD, (n, 1)), log_prior, simulate_one)


class Exact:
    """The distribution of (4), on a fine grid."""

    def __init__(self, tolerance):
        self.grid = np.linspace(OBSERVED[0] - tolerance - 8 * NOISE_SD, OBSERVED[0] + tolerance + 8 * NOISE_SD, 20_001)
        sides = [special.ndtr((OBSERVED[0] + side * tolerance - self.grid) / NOISE_SD) for side in (1, -1)]
        density = np.exp(-((self.grid / PRIOR_SD) ** 2) / 2) * (sides[0] - sides[1])
        self.density = density / density.sum()
        self.mean = self.density @ self.grid
        self.variance = self.density @ (self.grid - self.mean) ** 2

    def cdf(self, theta):
        return np.interp(theta, self.grid, np.minimum(self.density.cumsum() - self.density / 2, 1.0))


def population_of(theta, summaries, distance=None, weights=None):
    n = len(theta)
    return Population(
        theta,
        summaries,
        np.ones(n) if distance is None else distance,
        np.full(n, 1 / n) if weights is None else weights,
        3 * n,
    )


# given


@pytest.mark.given
def test_distances_divides_by_the_scale():
    found = distances(
        np.array([[1.0, 2.0, 3.0], [4.0, 2.0, 9.0]]), np.array([1.0, 0.0, 6.0]), np.array([1.0, 2.0, 3.0])
    )
    assert_close(found, np.sqrt([2.0, 11.0]), "distances(...)", "equation (2)")


@pytest.mark.given
@pytest.mark.parametrize(
    ("observed", "scale", "name"),
    [
        (np.zeros(2), np.ones(3), "observed"),
        (np.array([0.0, np.nan, 0.0]), np.ones(3), "observed"),
        (np.zeros(3), np.ones(2), "scale"),
        (np.zeros(3), np.array([1.0, 0.0, 1.0]), "scale"),
        (np.zeros(3), np.array([1.0, np.inf, 1.0]), "scale"),
    ],
)
def test_distances_refuses_other_shapes_and_no_scale(observed, scale, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        distances(np.zeros((4, 3)), observed, scale)


BAD_SIMULATORS = [
    lambda theta, rng: np.full((len(theta), 1), np.nan),
    lambda theta, rng: np.zeros(len(theta)),
    lambda theta, rng: np.zeros((1, 1)),
]


@pytest.mark.given
@pytest.mark.parametrize("bad", BAD_SIMULATORS, ids=["nan", "one axis", "one row"])
def test_simulate_refuses_what_is_no_summary(bad, rng):
    with pytest.raises(ValueError, match="model must"):
        simulate(Model(normal_model().draw_prior, normal_model().log_prior, bad), np.zeros((5, 1)), rng=rng)


@pytest.mark.given
def test_boarding_school_has_fourteen_days():
    assert boarding_school().tolist() == [3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4]


# mad_scale


def test_mad_scale_by_hand():
    summaries = np.array([[1.0, -5.0, 8.0], [2.0, -1.0, 0.0], [3.0, 0.0, 0.0], [10.0, 1.0, 1.0], [20.0, 2.0, 30.0]])
    # The medians are 3, 0 and 1; the distances from them 2 1 0 7 17, 5 1 0 1 2, and 7 1 1 0 29.
    found = mad_scale(summaries)
    assert_close(found, np.array([2.0, 1.0, 1.0]), "mad_scale(five rows of three summaries)", "equation (3)")


def test_mad_scale_of_an_even_number_of_rows_and_far_from_zero():
    summaries = 1000 + np.array([[0.0, 5.0], [1.0, 3.0], [4.0, 11.0], [9.0, 1.0]])
    # The medians are 2.5 and 4; the distances 2.5 1.5 1.5 6.5, and 1 1 7 3.
    assert_close(mad_scale(summaries), np.array([2.0, 2.0]), "mad_scale of four rows", "equation (3)", rtol=1e-12)


def test_mad_scale_is_not_spoilt_by_outliers_and_follows_the_units(rng):
    summaries = rng.normal([0.0, 50.0], [1.0, 4.0], (1001, 2))
    scale = mad_scale(summaries)
    spoilt = summaries.copy()
    spoilt[:100] = 1e12
    later = mad_scale(spoilt)
    assert (later < 1.5 * scale).all(), f"with a tenth of outliers mad_scale rises from {scale} to {later}"
    units = np.array([0.01, 1e6])
    assert_close(mad_scale(units * summaries), units * scale, "mad_scale in other units", "equation (3)", rtol=1e-9)


def test_mad_scale_leaves_its_summaries_alone():
    summaries = np.arange(12.0).reshape(6, 2)[::-1].copy()
    mad_scale(summaries)
    assert np.array_equal(summaries, np.arange(12.0).reshape(6, 2)[::-1]), "mad_scale changed its argument"


def test_mad_scale_refuses_a_summary_that_hardly_varies():
    summaries = np.array([[1.0, 0.0], [2.0, 7.0], [3.0, 7.0], [4.0, 7.0], [5.0, 9.0]])
    with pytest.raises(ValueError, match="summaries must"):
        mad_scale(summaries)


@pytest.mark.given
@pytest.mark.parametrize("bad", [np.ones(4), np.ones((0, 2)), np.array([[1.0], [np.nan]]), np.array([[1.0], [np.inf]])])
def test_mad_scale_refuses_what_are_no_summaries(bad):
    with pytest.raises(ValueError, match="summaries must"):
        mad_scale(bad)


# keep_nearest


def table(rng, n=200):
    theta = rng.normal(size=(n, 3))
    return theta, rng.normal(5, [1.0, 100.0], (n, 2)), np.array([6.0, -50.0]), np.array([1.0, 100.0])


def test_keep_nearest_by_hand():
    theta, summaries = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[0.0, 70], [3.0, 20], [1.0, 10], [1.0, 90]])
    found = keep_nearest(theta, summaries, np.array([1.0, 40.0]), 2, scale=np.array([1.0, 10.0]))
    # The distances from (1, 40) are the roots of 10, 8, 9 and 25.
    call = "keep_nearest(thetas 1 to 4, at distances of the roots of 10, 8, 9 and 25, n_kept=2)"
    assert_close(found.theta, np.array([[2.0], [3.0]]), f"{call}.theta", "the two nearest, nearest first")
    assert_close(found.summaries, np.array([[3.0, 20], [1, 10]]), f"{call}.summaries", "those of the same rows")
    assert_close(found.distance, np.sqrt([8.0, 9.0]), f"{call}.distance", "equation (2)")
    assert_close(found.weights, np.array([0.5, 0.5]), f"{call}.weights", "its docstring: equal")
    assert found.n_proposals == 4, f"{call}.n_proposals is {found.n_proposals}, expected 4, the rows of the table"


@pytest.mark.parametrize("n_kept", [1, 17, 200])
def test_keep_nearest_keeps_no_row_that_is_further_than_one_it_leaves(n_kept, rng):
    theta, summaries, observed, scale = table(rng)
    found = keep_nearest(theta, summaries, observed, n_kept, scale=scale)
    all_distances = np.sort(np.sqrt((((summaries - observed) / scale) ** 2).sum(axis=1)))
    call = f"keep_nearest(200 rows, n_kept={n_kept})"
    assert_close(
        found.distance, all_distances[:n_kept], f"{call}.distance", "the smallest distances, sorted", rtol=1e-9
    )
    rows = [np.flatnonzero((theta == row).all(axis=1))[0] for row in found.theta]
    assert_close(found.summaries, summaries[rows], f"{call}.summaries", "those simulated with its theta")
    assert_close(found.weights.sum(), 1.0, f"the sum of {call}.weights", "its docstring", rtol=1e-9)


def test_keep_nearest_leaves_its_table_alone(rng):
    theta, summaries, observed, scale = table(rng)
    before = [a.copy() for a in (theta, summaries, observed, scale)]
    keep_nearest(theta, summaries, observed, 9, scale=scale)
    same = all(np.array_equal(a, b) for a, b in zip((theta, summaries, observed, scale), before, strict=True))
    assert same, "keep_nearest changed its arguments"


@pytest.mark.given
@pytest.mark.parametrize("n_kept", [0, -1, 201])
def test_keep_nearest_refuses_to_keep_none_or_more_than_there_are(n_kept, rng):
    theta, summaries, observed, scale = table(rng)
    with pytest.raises(ValueError, match="n_kept must"):
        keep_nearest(theta, summaries, observed, n_kept, scale=scale)


# regression_adjust


def scattered(rng, n=60):
    """A population whose two parameters depend on its three summaries, by chance besides."""
    observed = np.array([10.0, -3.0, 0.2])
    summaries = observed + rng.normal(0.5, [2.0, 1.0, 0.1], (n, 3))
    theta = (summaries - observed) @ rng.normal(size=(3, 2)) + rng.normal(3, 0.5, (n, 2)) ** 2
    distance = np.sqrt((((summaries - observed) / [2.0, 1.0, 0.1]) ** 2).sum(axis=1))
    return population_of(theta, summaries, distance, rng.dirichlet(np.ones(n))), observed


def test_regression_adjust_weighs_by_the_kernel_of_epanechnikov():
    population = population_of(
        np.arange(5.0)[:, None], np.array([[1.0], [-2.0], [0.0], [4.0], [2.0]]), np.array([1.0, 2.0, 0.0, 4.0, 2.0])
    )
    found = regression_adjust(population, np.zeros(1))
    expected = np.array([15.0, 12.0, 16.0, 0.0, 12.0]) / 55
    call = "regression_adjust(distances [1, 2, 0, 4, 2]).weights"
    assert_close(found.weights, expected, call, "equation (5), summing to 1", rtol=1e-9, atol=1e-12)


def test_regression_adjust_moves_what_lies_on_a_line_to_one_point(rng):
    observed, slopes = np.array([4.0, -1.0]), np.array([[2.0, 0.0, -1.0], [0.5, 30.0, 1.0]])
    summaries = rng.normal(observed + 3, 1, (40, 2))
    intercept = np.array([7.0, -2.0, 100.0])
    theta = intercept + (summaries - observed) @ slopes
    distance = np.sqrt(((summaries - observed) ** 2).sum(axis=1))
    found = regression_adjust(population_of(theta, summaries, distance), observed)
    call = "regression_adjust(theta exactly linear in the summaries).theta"
    expected = np.tile(intercept, (40, 1))
    assert_close(found.theta, expected, call, "(6): the value of the line at s*", rtol=1e-8, atol=1e-8)


def test_regression_adjust_fits_by_weighted_least_squares(rng):
    population, observed = scattered(rng)
    found = regression_adjust(population, observed)
    weights = 1 - (population.distance / population.distance.max()) ** 2
    design = np.column_stack([np.ones(60), population.summaries - observed])
    slopes = np.linalg.solve(design.T @ (weights[:, None] * design), design.T @ (weights[:, None] * population.theta))[
        1:
    ]
    expected = population.theta - (population.summaries - observed) @ slopes
    call = "regression_adjust(60 points, 3 summaries, 2 parameters).theta"
    assert_close(found.theta, expected, call, "(6), by the normal equations", rtol=1e-8, atol=1e-8)


def test_regression_adjust_keeps_all_else(rng):
    population, observed = scattered(rng)
    found = regression_adjust(population, observed)
    assert_close(found.summaries, population.summaries, "regression_adjust(...).summaries", "those it was given")
    assert_close(found.distance, population.distance, "regression_adjust(...).distance", "those it was given")
    assert found.n_proposals == 180, (
        f"regression_adjust(...).n_proposals is {found.n_proposals}, expected 180 as before"
    )


def test_regression_adjust_makes_a_rough_posterior_exact_where_all_is_linear(rng):
    n = 8000
    theta = rng.normal(0, PRIOR_SD, (n, 1))
    summaries = rng.normal(theta, NOISE_SD)
    rough = keep_nearest(theta, summaries, OBSERVED, n // 2, scale=np.ones(1))
    found = regression_adjust(rough, OBSERVED)
    share = PRIOR_SD**2 / (PRIOR_SD**2 + NOISE_SD**2)
    mean, variance = share * OBSERVED[0], share * NOISE_SD**2
    # With the slope known, they would be independent draws of the posterior; it is known to one percent.
    off = (found.theta[:, 0] - mean) / np.sqrt(variance)
    effective = 1 / (found.weights**2).sum()
    because = "the posterior, in closed form"
    z = found.weights @ off * np.sqrt(effective)
    assert abs(z) < 7, f"the mean of regression_adjust is {z:.1f} standard errors off that by {because}"
    spread = found.weights @ off**2
    assert 0.85 < spread < 1.15, f"regression_adjust has a variance of {spread:.2f} times that by {because}"


def test_regression_adjust_leaves_its_population_alone(rng):
    population, observed = scattered(rng)
    before = scattered(np.random.default_rng(20260113))[0]
    regression_adjust(population, observed)
    assert np.array_equal(population.theta, before.theta), "regression_adjust changed the parameters it was given"
    assert np.array_equal(population.weights, before.weights), "regression_adjust changed the weights it was given"
    assert np.array_equal(population.summaries, before.summaries), (
        "regression_adjust changed the summaries it was given"
    )


@pytest.mark.given
def test_regression_adjust_refuses_what_it_cannot_fit():
    with pytest.raises(ValueError, match="observed must"):
        regression_adjust(population_of(np.ones((9, 1)), np.ones((9, 2))), np.zeros(3))
    with pytest.raises(ValueError, match="population must"):
        regression_adjust(population_of(np.ones((3, 1)), np.ones((3, 2))), np.zeros(2))
    with pytest.raises(ValueError, match="population must"):
        regression_adjust(population_of(np.ones((9, 1)), np.ones((9, 2)), np.zeros(9)), np.zeros(2))
    with pytest.raises(ValueError, match="population must"):
        regression_adjust(population_of(np.ones((9, 1)), np.ones((9, 2)), np.full(9, 1.5)), np.zeros(2))


# outbreak


N = 20_000


def test_outbreak_lets_the_infected_recover_one_by_one(rng):
    found = outbreak(np.tile([0.0, 0.3], (N, 1)), n_days=3, n_people=30, n_infected=20, n_steps=5, rng=rng)
    for day in (1, 3):
        survive = np.exp(-0.3 * day)
        counts = np.bincount(found[:, day - 1], minlength=21)
        call = f"the infected of outbreak(beta=0, gamma=0.3, n_infected=20), day {day},"
        assert_frequencies(counts, stats.binom.pmf(np.arange(21), 20, survive), call, "(7): binomial, exp(-0.3 t) each")
    assert (np.diff(found, axis=1) <= 0).all(), "with beta=0 the infected of outbreak became more"


def test_outbreak_infects_the_susceptible_one_by_one(rng):
    found = outbreak(np.tile([1.4, 0.0], (N, 1)), n_days=1, n_people=12, n_infected=5, n_steps=1, rng=rng)
    counts = np.bincount(found[:, 0], minlength=13)
    assert not counts[:5].any(), "with gamma=0 the infected of outbreak became fewer"
    expected = stats.binom.pmf(np.arange(8), 7, 1 - np.exp(-1.4 * 5 / 12))
    call = "the newly infected of outbreak(beta=1.4, gamma=0, n_people=12, n_infected=5, n_steps=1)"
    assert_frequencies(counts[5:], expected, call, "equation (7): binomial")


def exact_outbreak(beta, gamma, n_people, n_infected, n_steps, n_days):
    """The joint law of the infected at the end of each day, by enumeration: a dict from tuples to probabilities."""
    law = {(n_people - n_infected, n_infected, ()): 1.0}
    for _, part in product(range(n_days), range(n_steps)):
        after = {}
        for (s, i, past), p in law.items():
            infect = stats.binom.pmf(range(s + 1), s, 1 - np.exp(-beta * i / n_people / n_steps))
            recover = stats.binom.pmf(range(i + 1), i, 1 - np.exp(-gamma / n_steps))
            for new, gone in product(range(s + 1), range(i + 1)):
                now = i + new - gone
                key = (s - new, now, (*past, now) if part == n_steps - 1 else past)
                after[key] = after.get(key, 0.0) + p * infect[new] * recover[gone]
        law = after
    result = {}
    for (_, _, past), p in law.items():
        result[past] = result.get(past, 0.0) + p
    return result


def test_outbreak_has_the_law_of_equation_7_over_several_days_and_steps(rng):
    law = exact_outbreak(2.5, 0.8, n_people=4, n_infected=1, n_steps=2, n_days=2)
    found = outbreak(np.tile([2.5, 0.8], (N, 1)), n_days=2, n_people=4, n_steps=2, rng=rng)
    paths, counts = np.unique(found, axis=0, return_counts=True)
    seen = {tuple(path): count for path, count in zip(paths.tolist(), counts.tolist(), strict=True)}
    unknown = [path for path in seen if path not in law]
    assert not unknown, f"outbreak(n_people=4) made the impossible numbers {unknown[0]}"
    call = "the infected of outbreak(beta=2.5, gamma=0.8, n_people=4, n_steps=2) on both days"
    assert_frequencies([seen.get(path, 0) for path in law], list(law.values()), call, "(7), by enumeration")


def test_outbreak_gives_each_simulation_its_own_rates_and_chance(rng):
    rates = np.array([[0.0, 0.0], [0.0, 1e9], [1e9, 0.0], [1e9, 1e9], [2.0, 0.5]])
    found = outbreak(rates, n_days=3, n_people=50, n_infected=7, n_steps=1, rng=rng)
    expected = np.array([[7, 7, 7], [0, 0, 0], [50, 50, 50], [43, 0, 0]])
    call = "outbreak(rates (0, 0), (0, 1e9), (1e9, 0) and (1e9, 1e9), n_people=50, n_infected=7, n_steps=1)"
    assert np.array_equal(found[:4], expected), f"{call} returned {found[:4].tolist()}, expected {expected.tolist()}"
    assert found.dtype.kind in "iu", f"{call} returned {found.dtype}, expected whole numbers"
    many = outbreak(np.tile([2.0, 0.5], (500, 1)), n_days=5, n_people=763, n_infected=20, rng=rng)[:, -1]
    assert len(np.unique(many)) > 50, f"among 500 epidemics of outbreak are only {len(np.unique(many))} different ones"


def test_outbreak_starts_as_it_is_told_and_stays_within_the_school(rng):
    rates = np.tile([1.7, 0.45], (300, 1))
    found = outbreak(rates, n_days=14, n_people=763, rng=rng)
    assert found.shape == (300, 14), f"outbreak(300 rates, n_days=14) has shape {found.shape}, expected (300, 14)"
    assert found.min() >= 0, "outbreak returned a negative number of infected"
    assert found.max() <= 763, f"outbreak(n_people=763) has {found.max()} infected"
    none = outbreak(rates[:2], n_days=3, n_people=10, n_infected=0, rng=rng)
    assert not none.any(), "outbreak(n_infected=0) has infected people"
    everybody = outbreak(np.array([[3.0, 0.0]]), n_days=2, n_people=10, n_infected=10, rng=rng)
    assert (everybody == 10).all(), f"outbreak(n_people=10, n_infected=10, gamma=0) has {everybody.tolist()} infected"


def test_outbreak_leaves_its_rates_alone(rng):
    rates = np.array([[1.7, 0.45], [1.0, 2.0]])
    outbreak(rates, n_days=4, n_people=70, rng=rng)
    assert rates.tolist() == [[1.7, 0.45], [1.0, 2.0]], "outbreak changed the rates that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"rates": np.array([[1.0, -0.1]])}, "rates"),
        ({"rates": np.array([[np.nan, 0.1]])}, "rates"),
        ({"rates": np.array([[1.0, np.inf]])}, "rates"),
        ({"rates": np.ones((3, 3))}, "rates"),
        ({"rates": np.ones(2)}, "rates"),
        ({"n_days": 0}, "n_days"),
        ({"n_people": 0}, "n_people"),
        ({"n_steps": 0}, "n_steps"),
        ({"n_infected": -1}, "n_infected"),
        ({"n_infected": 71}, "n_infected"),
    ],
)
def test_outbreak_refuses_what_is_no_epidemic(change, name, rng):
    arguments = {"rates": np.ones((2, 2)), "n_days": 4, "n_people": 70, "n_infected": 1, "n_steps": 2} | change
    with pytest.raises(ValueError, match=f"{name} must"):
        outbreak(arguments.pop("rates"), **arguments, rng=rng)


# accept_first


def accept(model, n, *, rng, propose=None, observed=OBSERVED, tolerance=1.0, scale=None, max_proposals=10**6):
    return accept_first(
        model,
        observed,
        propose or model.draw_prior,
        n,
        tolerance=tolerance,
        scale=np.ones(len(observed)) if scale is None else scale,
        max_proposals=max_proposals,
        rng=rng,
    )


@pytest.mark.parametrize("tolerance", [0.3, 4.0])
def test_accept_first_draws_from_the_law_of_equation_4(tolerance, rng):
    found = accept(normal_model(), 4000, tolerance=tolerance, rng=rng)
    exact = Exact(tolerance)
    call = f"accept_first(normal model, tolerance={tolerance}).theta"
    assert_distribution(found.theta[:, 0], exact.cdf, call, "equation (4)")
    assert_mean(found.theta[:, 0], exact.mean, call, "equation (4)", sd=np.sqrt(exact.variance))
    assert_variance(found.theta[:, 0], exact.variance, call, "equation (4)")


def counting(n_columns=2):
    """A model whose proposals count 1, 2, 3, ..., and whose simulator returns their remainder by 10, and 7 more columns."""
    made = []

    def propose(n, rng):
        made.append(n)
        return np.arange(sum(made) - n, sum(made))[:, None] + np.array([[1.0, 0.0]])

    def simulate_one(theta, rng):
        return np.repeat(theta[:, :1] % 10, n_columns, axis=1) * np.array([1.0, 100.0])[:n_columns]

    return Model(propose, lambda theta: np.zeros(len(theta)), simulate_one), made


@pytest.mark.parametrize("n", [1, 5, 30])
def test_accept_first_keeps_the_first_that_are_near_enough(n, rng):
    model, _ = counting()
    observed, scale = np.array([4.0, 400.0]), np.array([1.0, 100.0])
    found = accept(model, n, observed=observed, scale=scale, tolerance=1.5, rng=rng)
    # A remainder of 3, 4 or 5 is at a distance of the root of 2, 0, or the root of 2.
    numbers = np.array([k for k in range(1, 1000) if k % 10 in (3, 4, 5)][:n])
    call = f"accept_first(proposals 1, 2, 3, ..., of which those ending in 3, 4 or 5 are near, n={n})"
    assert_close(found.theta, np.column_stack([numbers, np.arange(n) * 0 + numbers - 1]), f"{call}.theta", "the first")
    remainders = numbers % 10
    expected = np.column_stack([remainders, 100.0 * remainders])
    assert_close(found.summaries, expected, f"{call}.summaries", "what was simulated with them")
    assert_close(found.distance, np.sqrt(2.0) * abs(remainders - 4), f"{call}.distance", "equation (2)", atol=1e-12)
    assert_close(found.weights, np.full(n, 1 / n), f"{call}.weights", "its docstring: equal")
    assert found.n_proposals == numbers[-1], f"{call}.n_proposals is {found.n_proposals}, expected {numbers[-1]}"


def test_accept_first_accepts_at_the_tolerance_itself(rng):
    model, _ = counting(1)
    found = accept(model, 4, observed=np.array([4.0]), tolerance=1.0, rng=rng)
    expected = np.array([3.0, 4.0, 5.0, 13.0])
    call = "accept_first(proposals 1, 2, 3, ..., distances of whole numbers, tolerance=1).theta"
    assert_close(found.theta[:, 0], expected, call, "its docstring: a distance of just 1 is accepted")


def test_accept_first_never_simulates_what_the_prior_excludes_but_counts_it(rng):
    made, seen = [], []

    def propose(n, rng):
        made.append(n)
        return np.arange(sum(made) - n, sum(made))[:, None] - 39.0

    def simulate_one(theta, rng):
        assert len(theta), "accept_first called the simulator with no rows"
        seen.append(theta.min())
        return theta.copy()

    model = Model(propose, lambda theta: np.where((theta[:, 0] > 0) & (theta[:, 0] != 3), 0.0, -np.inf), simulate_one)
    found = accept(model, 3, observed=np.zeros(1), tolerance=9.0, rng=rng)
    call = "accept_first(proposals -39, -38, ..., a prior on positive numbers but 3, n=3)"
    assert_close(found.theta[:, 0], np.array([1.0, 2.0, 4.0]), f"{call}.theta", "the first three with prior density")
    assert found.n_proposals == 44, (
        f"{call}.n_proposals is {found.n_proposals}, expected 44, with those without density"
    )
    assert min(seen) > 0, f"accept_first simulated with {min(seen)}, which has no prior density"


@pytest.mark.parametrize("max_proposals", [100, 1003])
def test_accept_first_gives_up_and_says_how_near_it_came(max_proposals, rng):
    simulated = []
    model = normal_model(None, simulated)
    with pytest.raises(ValueError, match="tolerance must") as error:
        accept(model, 200, tolerance=1e-7, max_proposals=max_proposals, rng=rng)
    made = sum(len(theta) for theta, _ in simulated)
    assert made == max_proposals, f"accept_first(max_proposals={max_proposals}) made {made} proposals before it gave up"
    nearest = min(np.abs(result - OBSERVED).min() for _, result in simulated)
    assert "got 1e-07" in str(error.value), (
        "the error of accept_first does not end with the tolerance that it was given"
    )
    assert f"{nearest:.4g}" in str(error.value), (
        f"the error of accept_first does not say the nearest distance, {nearest:.4g}"
    )


def test_accept_first_may_use_up_its_last_proposal(rng):
    model, made = counting(1)
    found = accept(model, 6, observed=np.array([4.0]), tolerance=1.0, max_proposals=15, rng=rng)
    assert found.n_proposals == 15, f"accept_first counted {found.n_proposals} proposals, expected 15"
    assert sum(made) == 15, f"accept_first(max_proposals=15) made {sum(made)} proposals"
    model, made = counting(1)
    with pytest.raises(ValueError, match="tolerance must"):
        accept(model, 6, observed=np.array([4.0]), tolerance=1.0, max_proposals=14, rng=rng)
    assert sum(made) == 14, f"accept_first(max_proposals=14) made {sum(made)} proposals"


@pytest.mark.parametrize("last", [1, 101, 112])
def test_accept_first_tries_the_very_last_proposal(last, rng):
    model, made = counting(1)
    exact = Model(model.draw_prior, model.log_prior, lambda theta, rng: abs(theta[:, :1] - last))
    found = accept(exact, 1, observed=np.zeros(1), tolerance=0.5, max_proposals=last, rng=rng)
    call = f"accept_first(n=1, max_proposals={last}), where only the last proposal is near,"
    assert found.theta[0, 0] == last, f"{call} accepted proposal {found.theta[0, 0]:g}"
    assert found.n_proposals == sum(made) == last, f"{call} counted {found.n_proposals} proposals"


def test_accept_first_gives_up_where_the_prior_excludes_all(rng):
    model = Model(normal_model().draw_prior, lambda theta: np.full(len(theta), -np.inf), BAD_SIMULATORS[0])
    with pytest.raises(ValueError, match="tolerance must"):
        accept(model, 5, max_proposals=100, rng=rng)


@pytest.mark.parametrize("bad", BAD_SIMULATORS, ids=["nan", "one axis", "one row"])
def test_accept_first_refuses_a_simulator_that_returns_no_summaries(bad, rng):
    model = Model(normal_model().draw_prior, normal_model().log_prior, bad)
    with pytest.raises(ValueError, match="model must"):
        accept(model, 5, max_proposals=100, rng=rng)


def test_accept_first_refuses_a_prior_that_is_none(rng):
    model = Model(normal_model().draw_prior, lambda theta: np.full(len(theta), np.nan), normal_model().simulate)
    with pytest.raises(ValueError, match="log_density_fn must"):
        accept(model, 5, max_proposals=100, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"n": 0}, "n"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": np.nan}, "tolerance"),
        ({"tolerance": np.inf}, "tolerance"),
    ],
)
def test_accept_first_refuses_no_points_and_no_tolerance(change, name, rng):
    arguments = {"n": 5} | change
    with pytest.raises(ValueError, match=f"^{name} must be (at|pos)"):
        accept(normal_model(), arguments.pop("n"), **arguments, rng=rng)


# importance_weights


def a_population(rng, n=30, dim=2, zeros=False):
    weights = rng.dirichlet(np.ones(n))
    if zeros:
        weights[::3] = 0
    theta = rng.normal(0, [1.0, 10.0, 0.2][:dim], (n, dim)) + 5
    return population_of(theta, np.zeros((n, 1)), weights=weights / weights.sum())


def mixture(theta, population, covariance):
    """The density of what is drawn from a jolted population."""
    terms = zip(population.weights, population.theta, strict=True)
    return sum(w * stats.multivariate_normal(centre, covariance).pdf(theta) for w, centre in terms)


@pytest.mark.parametrize(("dim", "zeros"), [(1, False), (2, True), (3, False)])
def test_importance_weights_are_prior_over_mixture(dim, zeros, rng):
    population = a_population(rng, dim=dim, zeros=zeros)
    root = rng.normal(size=(dim, dim + 1))
    covariance = root @ root.T + np.diag([0.5, 3.0, 0.2][:dim])
    theta, log_prior = rng.normal(5, 1, (20, dim)), rng.normal(0, 3, 20)
    found = importance_weights(theta, log_prior, population, covariance)
    expected = np.exp(log_prior) / mixture(theta, population, covariance)
    call = f"importance_weights(20 points, a population of 30, dim {dim})"
    assert_close(found, expected / expected.sum(), call, "equation (8), with scipy.stats", rtol=1e-7)


@pytest.mark.parametrize(("constant", "far"), [(1e4, 0.0), (-1e4, 0.0), (0.0, 1000.0)])
def test_importance_weights_survive_where_densities_do_not(constant, far, rng):
    population = a_population(rng, dim=1)
    theta = far + population.theta.max() + np.array([[0.0], [1e-3], [2e-3]])
    found = importance_weights(theta, np.full(3, constant), population, np.eye(1))
    log_mixture = [special.logsumexp(np.log(population.weights) - (x - population.theta[:, 0]) ** 2 / 2) for x in theta]
    expected = special.softmax(-np.array(log_mixture))
    call = f"importance_weights(a log prior of {constant:g}, points {far:g} away)"
    assert_close(found, expected, call, "equation (8)", rtol=1e-6)


def test_importance_weights_leave_their_arguments_alone(rng):
    population, theta, log_prior = a_population(rng), np.ones((4, 2)), np.zeros(4)
    before = population.theta.copy()
    importance_weights(theta, log_prior, population, np.eye(2))
    assert np.array_equal(population.theta, before), "importance_weights changed the population it was given"
    assert (theta == 1).all() and not log_prior.any(), "importance_weights changed its arguments"


# renew


def wide(asked, n_columns=2):
    """A flat prior, and a simulator that is always near: all that is proposed is accepted."""

    def log_prior(theta):
        asked.append(np.array(theta))
        return np.zeros(len(theta))

    return Model(
        lambda n, rng: rng.normal(size=(n, 2)), log_prior, lambda theta, rng: np.zeros((len(theta), n_columns))
    )


def weighted_moments(population):
    mean = population.weights @ population.theta
    off = population.theta - mean
    return mean, (population.weights[:, None] * off).T @ off


def test_renew_proposes_points_of_the_population_and_jolts_them(rng):
    n = 1200
    weights = np.tile([0.1, 0.2, 0.7], n // 2)[:n]
    centres = np.tile([[0.0, 0.0], [8.0, 100.0], [-4.0, 300.0]], (n // 2, 1))[:n]
    population = population_of(centres, np.zeros((n, 1)), weights=weights / weights.sum())
    mean, covariance = weighted_moments(population)
    found = renew(wide([], 1), np.zeros(1), population, tolerance=1.0, scale=np.ones(1), max_proposals=10**6, rng=rng)
    factor = np.linalg.cholesky(covariance)
    # Point and jolt are independent: the covariance of their sum is three times that of the population.
    z = np.linalg.solve(factor, (found.theta - mean).T).T
    call = "the points of renew, all accepted, with the covariance of the last population taken off"
    assert_mean(z, np.zeros(2), call, "the mean of the last population", sd=np.sqrt(3))
    assert_variance(z / np.sqrt(3), np.ones(2), call, "(9): 1/3 of the variance of what is proposed", kurtosis=3.1)
    assert_mean(z[:, 0] * z[:, 1] / 3, 0, f"products of {call}", "(9): no correlation is left")
    assert len(np.unique(found.theta[:, 0])) == n, "some points of renew are equal: each has a jolt of its own"


def test_renew_picks_points_by_their_weights(rng):
    weights = np.repeat([0.0, 1.0, 0.0], [30, 50, 20])
    centres = rng.normal(size=(100, 2)) + np.where(weights > 0, 0.0, 1e6)[:, None]
    population = population_of(centres, np.zeros((100, 1)), weights=weights / 50)
    found = renew(wide([], 1), np.zeros(1), population, tolerance=1.0, scale=np.ones(1), max_proposals=10**5, rng=rng)
    far = np.count_nonzero(np.abs(found.theta).max(axis=1) > 1000)
    assert far == 0, f"renew: {far} of 100 points come from points of the last population that have no weight"


def test_renew_weighs_by_equation_8_with_twice_the_covariance_of_the_last_population(rng):
    asked = []
    before = a_population(rng, n=40)
    target = np.array([5.0, 3.0])

    def log_prior(theta):
        asked.append(np.array(theta))
        return -np.abs(theta - 4).sum(axis=1) / 3

    model = Model(
        lambda n, rng: rng.normal(size=(n, 2)), log_prior, lambda theta, rng: theta + rng.normal(size=theta.shape)
    )
    found = renew(model, target, before, tolerance=2.0, scale=np.array([1.0, 5.0]), max_proposals=10**5, rng=rng)
    assert found.theta.shape == (40, 2), (
        f"renew returned points of shape {found.theta.shape}, expected (40, 2) as before"
    )
    assert_close(
        found.distance,
        distances(found.summaries, target, np.array([1.0, 5.0])),
        "renew(...).distance",
        "(2)",
        rtol=1e-9,
    )
    assert found.distance.max() <= 2, f"renew(tolerance=2) accepted a distance of {found.distance.max():.3g}"
    covariance = 2 * weighted_moments(before)[1]
    expected = np.exp(-np.abs(found.theta - 4).sum(axis=1) / 3) / mixture(found.theta, before, covariance)
    because = "(8), with V by (9), of the points it returned"
    assert_close(found.weights, expected / expected.sum(), "renew(...).weights", because, rtol=1e-7)
    proposed = np.concatenate([theta for theta in asked if len(theta)])
    rows = [np.flatnonzero((proposed == theta).all(axis=1))[0] for theta in found.theta]
    assert np.all(np.diff(rows) > 0), "renew did not keep its accepted points in the order of its proposals"
    assert found.n_proposals == rows[-1] + 1, f"renew counted {found.n_proposals} proposals, expected {rows[-1] + 1}"


def test_renew_corrects_for_what_it_proposes_from(rng):
    # The last population is a hundred draws of a law that has nothing to do with the prior.
    means = []
    for _ in range(40):
        start = population_of(rng.normal(2.5, 0.8, (120, 1)), np.zeros((120, 1)), weights=rng.dirichlet(np.ones(120)))
        found = renew(normal_model(), OBSERVED, start, tolerance=0.8, scale=np.ones(1), max_proposals=10**6, rng=rng)
        means.append(found.weights @ found.theta[:, 0])
    assert_mean(np.array(means), Exact(0.8).mean, "the weighted mean of renew, 40 runs,", "equation (4)")


def test_renew_gives_up_after_so_many_proposals(rng):
    simulated = []
    with pytest.raises(ValueError, match="tolerance must"):
        renew(
            normal_model(None, simulated),
            OBSERVED,
            a_population(rng, dim=1),
            tolerance=1e-9,
            scale=np.ones(1),
            max_proposals=77,
            rng=rng,
        )
    made = sum(len(theta) for theta, _ in simulated)
    assert made == 77, f"renew(max_proposals=77) made {made} proposals before it gave up"


def test_renew_leaves_its_population_alone(rng):
    population = a_population(rng)
    theta, weights = population.theta.copy(), population.weights.copy()
    renew(wide([], 1), np.zeros(1), population, tolerance=1.0, scale=np.ones(1), max_proposals=100, rng=rng)
    assert np.array_equal(population.theta, theta), "renew changed the points of the population it was given"
    assert np.array_equal(population.weights, weights), "renew changed the weights of the population it was given"


# sample


def run(n, tolerances, rng, **extra):
    return sample(normal_model(), OBSERVED, n, tolerances=tolerances, scale=np.ones(1), rng=rng, **extra)


def test_sample_returns_a_population_for_each_tolerance(rng):
    tolerances = [3.0, 1.0, 0.25]
    found = run(50, tolerances, rng)
    assert len(found) == 3, f"sample with 3 tolerances returned {len(found)} populations"
    for population, tolerance in zip(found, tolerances, strict=True):
        largest = population.distance.max()
        assert tolerance / 2 < largest <= tolerance, f"sample accepted up to {largest:.3g} at the tolerance {tolerance}"
        assert population.theta.shape == (50, 1), f"a population of sample has shape {population.theta.shape}"
    assert_close(found[0].weights, np.full(50, 0.02), "the first weights of sample", "draws of the prior: equal")


def test_sample_weighs_each_population_by_the_one_before_it(rng):
    found = run(60, [3.0, 1.0, 0.5], rng)
    for before, after in pairwise(found):
        covariance = 2 * weighted_moments(before)[1]
        expected = np.exp(-((after.theta[:, 0] / PRIOR_SD) ** 2) / 2) / mixture(after.theta, before, covariance)
        call = "the weights of a population of sample"
        assert_close(after.weights, expected / expected.sum(), call, "(8), with the one before it", rtol=1e-7)


def test_sample_draws_from_the_prior_at_first(rng):
    found = sample(normal_model(), OBSERVED, 4000, tolerances=[1000.0], scale=np.ones(1), rng=rng)[0]
    assert_mean(found.theta[:, 0], 0, "sample(tolerances=[1000]).theta", "the prior", sd=PRIOR_SD)
    assert_variance(found.theta[:, 0], PRIOR_SD**2, "sample(tolerances=[1000]).theta", "the prior")
    assert found.n_proposals == 4000, (
        f"at a tolerance of 1000 sample took {found.n_proposals} proposals for 4000 points"
    )


def test_sample_ends_with_the_law_of_equation_4(rng):
    exact, means, shares = Exact(0.4), [], []
    for _ in range(30):
        last = run(120, [4.0, 1.2, 0.4], rng)[-1]
        means.append(last.weights @ last.theta[:, 0])
        shares.append(last.weights @ (last.theta[:, 0] < exact.mean - 0.4))
    assert_mean(np.array(means), exact.mean, "the weighted mean of sample, 30 runs,", "equation (4)")
    below = float(exact.cdf(exact.mean - 0.4))
    assert_mean(np.array(shares), below, "the weight of sample below the mean less 0.4, 30 runs,", "equation (4)")


def test_sample_hands_on_its_scale_and_its_limit(rng):
    tight = sample(normal_model(), OBSERVED, 30, tolerances=[5.0, 1.0], scale=np.full(1, 0.1), rng=rng)
    for population, tolerance in zip(tight, (5.0, 1.0), strict=True):
        off = np.abs(population.summaries - OBSERVED).max()
        assert off <= 0.1 * tolerance, (
            f"sample(scale=0.1) accepted a summary {off:.3g} away at the tolerance {tolerance}"
        )
    for tolerances in ([4.0, 1e-9], [1e-9]):
        simulated = []
        settings = {"tolerances": tolerances, "scale": np.ones(1), "max_proposals": 500}
        with pytest.raises(ValueError, match="tolerance must be in reach"):
            sample(normal_model(None, simulated), OBSERVED, 30, **settings, rng=rng)
        made = sum(len(theta) for theta, _ in simulated)
        assert made <= 1000, f"sample(tolerances={tolerances}, max_proposals=500) simulated {made} times"


def test_sample_finds_the_rates_of_an_epidemic_that_it_made(rng):
    truth, school = np.array([1.8, 0.5]), {"n_days": 14, "n_people": 763, "n_infected": 20, "n_steps": 2}
    observed = outbreak(truth[None], **school, rng=rng)[0].astype(float)
    model = Model(
        lambda n, rng: rng.uniform(0, [4.0, 2.0], (n, 2)),
        lambda theta: np.where(((theta > 0) & (theta < [4.0, 2.0])).all(axis=1), 0.0, -np.inf),
        lambda theta, rng: outbreak(theta, **school, rng=rng),
    )
    last = sample(model, observed, 60, tolerances=[600.0, 300.0, 150.0], scale=np.ones(14), rng=rng)[-1]
    mean = last.weights @ last.theta
    # Of 40 seeds, the means were off with standard deviations of 0.14 and 0.033.
    assert np.all(abs(mean - truth) < [1.1, 0.3]), f"sample finds rates of {mean.round(2)} where they were {truth}"


@pytest.mark.given
@pytest.mark.parametrize("tolerances", [[], [1.0, 1.0], [1.0, 2.0], [1.0, 0.0], [1.0, np.nan], [-1.0]])
def test_sample_refuses_tolerances_that_do_not_fall(tolerances, rng):
    with pytest.raises(ValueError, match="tolerances must"):
        run(10, tolerances, rng)


def test_sample_takes_all_its_randomness_from_its_generator():
    def points(seed):
        return run(20, [3.0, 1.0], np.random.default_rng(seed))[-1].theta

    assert_close(points(1), points(1), "sample with the same seed for the second time", "the points of the first time")
    assert (points(1) != points(2)).any(), "sample returned the same points for two different seeds"
