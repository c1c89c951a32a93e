"""Shared tests of bayes/sequential_monte_carlo: run on the reference, and on the learner's file.

What goes by chance is checked over independent particles or runs, by 12 checks that a right solution fails with a probability
of 1e-8 each or less.
"""

import warnings

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes.sequential_monte_carlo import (
    Population,
    climb,
    move,
    next_temperature,
    rise_once,
    sample,
    share_left,
    step_factor,
    tempered,
)
from mlpath.testing import assert_close, assert_frequency, assert_mean, assert_variance


@pytest.fixture
def rng():
    return np.random.default_rng(2006)


# A normal prior with a normal likelihood: everything is known

SPREAD, CENTRE, NOISE = np.array([2.0, 0.5]), np.array([3.0, -1.0]), np.array([0.4, 0.3])


def log_prior(x):
    return stats.norm.logpdf(x, 0.0, SPREAD).sum(axis=1)


def log_likelihood(x):
    return stats.norm.logpdf(CENTRE, x, NOISE).sum(axis=1)


def exact(temperature):
    """Mean and standard deviations of the numerator of (1), and the log of its integral."""
    precision = SPREAD**-2 + temperature * NOISE**-2
    mean = temperature * CENTRE / NOISE**2 / precision
    power = -temperature / 2 * np.log(2 * np.pi * NOISE**2) - np.log(precision * SPREAD**2) / 2
    square = (mean**2 * precision - temperature * (CENTRE / NOISE) ** 2) / 2
    return mean, precision**-0.5, (power + square).sum()


def population_of(position):
    return Population(position, log_prior(position), log_likelihood(position))


def line(log_likelihood):
    """Particles that are told apart by their places."""
    log_likelihood = np.asarray(log_likelihood, dtype=float)
    places = np.arange(len(log_likelihood))
    return Population(np.column_stack([places, 10.0 + places**2]), -places / 4.0, log_likelihood)


# tempered


def test_tempered_adds_a_share_of_the_log_likelihood():
    found = tempered(np.array([-1.0, 2.0, -0.5]), np.array([-3.0, 0.25, 8.0]), 0.2)
    assert_close(found, [-1.6, 2.05, 1.1], "tempered([-1, 2, -0.5], [-3, 0.25, 8], 0.2)", "equation (1)")


def test_tempered_is_the_prior_at_zero_even_where_the_likelihood_is_zero():
    prior = np.array([-1.0, 2.0, -np.inf])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tempered(prior, np.array([-np.inf, 5.0, -np.inf]), 0.0)
    assert_close(found, prior, "tempered([-1, 2, -inf], [-inf, 5, -inf], 0)", "equation (1) with L^0 = 1")
    found[:] = 7.0
    assert prior[0] == -1.0, "tempered(..., 0) hands out the array that it was given"


def test_tempered_is_minus_infinity_where_a_density_is_zero():
    found = tempered(np.array([-np.inf, 1.0, -np.inf]), np.array([2.0, -np.inf, -np.inf]), 0.3)
    assert_close(found, np.full(3, -np.inf), "tempered([-inf, 1, -inf], [2, -inf, -inf], 0.3)", "equation (1)")


@pytest.mark.given
@pytest.mark.parametrize("temperature", [-0.1, 1.1, np.nan])
def test_tempered_refuses_a_temperature_that_is_none(temperature):
    with pytest.raises(ValueError, match="temperature must"):
        tempered(np.zeros(3), np.zeros(3), temperature)


# share_left


def test_share_left_is_the_effective_share_of_the_weights():
    log_likelihood = np.log([1.0, 4.0, 9.0, 1.0])
    found = share_left(log_likelihood, 0.5)  # weights 1, 2, 3, 1
    assert_close(found, 49 / 15 / 4, "share_left(log([1, 4, 9, 1]), 0.5)", "equation (4)")
    assert_close(share_left(log_likelihood, 0.0), 1.0, "share_left(log([1, 4, 9, 1]), 0)", "equation (4)")


def test_share_left_does_not_count_impossible_particles():
    found = share_left(np.array([-np.inf, np.log(3.0), 0.0, -np.inf, -np.inf]), 1.0)
    assert_close(found, 16 / 10 / 2, "share_left([-inf, log 3, 0, -inf, -inf], 1)", "equation (4) with M = 2")
    start = share_left(np.array([-np.inf, np.log(3.0), 0.0, -np.inf, -np.inf]), 0.0)
    assert_close(start, 1.0, "share_left([-inf, log 3, 0, -inf, -inf], 0)", "equation (4): s(0) = 1")


@pytest.mark.parametrize("shift", [-1e5, 1e5])
def test_share_left_survives_log_likelihoods_of_any_size(shift):
    found = share_left(np.log([1.0, 4.0, 9.0, 1.0]) + shift, 0.5)
    assert_close(found, 49 / 60, f"share_left of log likelihoods around {shift:g}", "(4): a factor cancels", rtol=1e-8)


def test_share_left_survives_log_likelihoods_that_are_far_apart():
    found = share_left(np.array([-3000.0, 0.0, -2000.0, -7000.0]), 0.9)
    assert_close(found, 0.25, "share_left([-3000, 0, -2000, -7000], 0.9)", "equation (4): one of four")


@pytest.mark.given
def test_share_left_refuses_a_fall_and_a_population_without_likelihood():
    for rise in (-0.1, np.inf, np.nan):
        with pytest.raises(ValueError, match="rise must"):
            share_left(np.zeros(3), rise)
    with pytest.raises(ValueError, match="log_likelihood must"):
        share_left(np.full(3, -np.inf), 0.5)


# next_temperature


@pytest.mark.parametrize("ess_share", [0.3, 0.5, 0.95])
@pytest.mark.parametrize("temperature", [0.0, 0.37])
def test_next_temperature_leaves_the_share_that_is_asked_for(ess_share, temperature, rng):
    log_likelihood = -40 * rng.gamma(2.0, size=300)
    found = next_temperature(log_likelihood, temperature, ess_share=ess_share)
    rise = found - temperature
    weights = np.exp(rise * (log_likelihood - log_likelihood.max()))
    share = weights.sum() ** 2 / (weights**2).sum() / 300
    call = f"the share that is left by next_temperature(..., {temperature}, ess_share={ess_share}) = {found:.6g}"
    assert_close(share, ess_share, call, "equation (5)", rtol=1e-7)


def test_next_temperature_is_one_where_the_population_can_rise_so_far():
    log_likelihood = np.log([1.0, 4.0, 9.0, 1.0])
    found = next_temperature(log_likelihood, 0.5, ess_share=0.8)
    assert found == 1.0, (
        f"next_temperature returned {found!r}; a rise of 0.5 leaves 0.817 of the particles: exactly 1.0"
    )
    low = next_temperature(log_likelihood, 0.5, ess_share=0.83)
    assert 0.5 < low < 1, (
        f"next_temperature returned {low!r}; a rise of 0.5 leaves 0.817 of the particles, less than 0.83"
    )


def test_next_temperature_rises_with_impossible_particles_and_huge_log_likelihoods():
    log_likelihood = np.concatenate([np.full(70, -np.inf), -1e7 * np.arange(1.0, 31.0) ** 2])
    found = next_temperature(log_likelihood, 0.0, ess_share=0.5)
    weights = np.exp(found * (log_likelihood[70:] + 1e7))
    share = weights.sum() ** 2 / (weights**2).sum() / 30
    assert_close(
        share, 0.5, f"the share of those possible that next_temperature leaves with {found:.6g}", "(5)", rtol=1e-6
    )


@pytest.mark.given
def test_next_temperature_refuses_what_is_out_of_range():
    for temperature in (-0.1, 1.0):
        with pytest.raises(ValueError, match="temperature must"):
            next_temperature(np.zeros(3), temperature, ess_share=0.5)
    for ess_share in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="ess_share must"):
            next_temperature(np.zeros(3), 0.5, ess_share=ess_share)


# climb


def test_climb_returns_the_log_of_the_mean_factor(rng):
    _, found = climb(line(np.log([1.0, 4.0, 9.0, 0.25])), 0.5, rng=rng)
    assert_close(found, np.log(6.5 / 4), "climb(log likelihoods log([1, 4, 9, 0.25]), 0.5)[1]", "equation (3)")
    with np.errstate(divide="ignore"):
        _, found = climb(line(np.log([0.0, 4.0, 9.0, 0.0, 0.0])), 0.5, rng=rng)
    assert_close(found, 0.0, "climb(log([0, 4, 9, 0, 0]), 0.5)[1]", "equation (3) with N = 5", atol=1e-12)
    _, found = climb(line(np.log([1.0, 4.0, 9.0, 0.25]) - 1e4), 0.5, rng=rng)
    assert_close(
        found, np.log(6.5 / 4) - 5e3, "climb(...)[1] with log likelihoods around -10000", "equation (3)", rtol=1e-10
    )


def test_climb_keeps_what_belongs_to_a_particle_together(rng):
    before = line(np.log([1.0, 4.0, 9.0, 0.25, 2.0]))
    copies = [array.copy() for array in (before.position, before.log_prior, before.log_likelihood)]
    after, _ = climb(before, 0.7, rng=rng)
    chosen = after.position[:, 0].astype(int)
    assert_close(after.position, before.position[chosen], "climb(...)[0].position", "rows of the population")
    assert_close(after.log_prior, before.log_prior[chosen], "climb(...)[0].log_prior", "those of the same particles")
    assert_close(
        after.log_likelihood, before.log_likelihood[chosen], "climb(...)[0].log_likelihood", "the same particles"
    )
    kept = (before.position, before.log_prior, before.log_likelihood)
    assert_close(kept, tuple(copies), "the population after climb", "what it was before")


def test_climb_draws_by_the_weights(rng):
    before = line([*np.log([1.0, 4.0, 9.0, 0.25, 2.0]), -np.inf])
    counts = np.zeros((800, 6))
    for row in counts:
        row += np.bincount(climb(before, 0.5, rng=rng)[0].position[:, 0].astype(int), minlength=6)
    weights = np.array([1.0, 2.0, 3.0, 0.5, 2**0.5, 0.0])
    call = "the offspring in climb(log([1, 4, 9, 0.25, 2, 0]), 0.5)"
    assert_mean(counts, 6 * weights / weights.sum(), call, "equation (2)", error=1e-9)


@pytest.mark.given
@pytest.mark.parametrize("rise", [0.0, -0.5, np.nan])
def test_climb_refuses_to_stay(rise, rng):
    with pytest.raises(ValueError, match="rise must"):
        climb(line(np.zeros(4)), rise, rng=rng)


# step_factor


@pytest.mark.parametrize("dim", [1, 4])
def test_step_factor_is_a_root_of_the_scaled_covariance(dim, rng):
    position = rng.gamma(2.0, size=(40, dim)) @ rng.normal(size=(dim, dim)) + 5
    factor = step_factor(position)
    assert np.shape(factor) == (dim, dim), f"step_factor of {dim} dimensions returned shape {np.shape(factor)}"
    expected = 2.38**2 / dim * np.cov(position.T).reshape(dim, dim)
    assert_close(factor @ factor.T, expected, f"F F' of step_factor(40 particles in {dim} dimensions)", "equation (7)")


def test_step_factor_refuses_particles_in_a_plane():
    with pytest.raises(np.linalg.LinAlgError):
        step_factor(np.column_stack([np.zeros(6), np.arange(6.0)]))


# move


def plane(x):
    return np.zeros(len(x))


def test_move_proposes_normal_steps_of_the_given_shape(rng):
    factor = np.array([[2.0, 0.0], [1.5, 0.3]])
    start = np.tile([5.0, -3.0], (4000, 1))
    before = Population(start, np.zeros(4000), np.zeros(4000))
    after, accepted = move(plane, plane, before, 0.5, factor=factor, rng=rng)
    steps = np.linalg.solve(factor, (after.position - start).T).T
    assert accepted.all(), (
        f"where all densities are equal, move accepted {accepted.mean():.0%} of the steps; equation (6)"
    )
    assert_mean(steps, 0.0, "F^-1 (y - x) in move", "equation (6): z", sd=1.0)
    assert_variance(steps, 1.0, "F^-1 (y - x) in move", "equation (6): z")
    assert_mean(steps.prod(axis=1), 0.0, "the product of both z in move", "equation (6): independent", sd=1.0)
    assert not start.std(axis=0).any(), "move changed the positions that it was given"


def test_move_steps_along_the_columns_of_the_factor(rng):
    before = Population(np.zeros((50, 2)), np.zeros(50), np.zeros(50))
    after, _ = move(plane, plane, before, 0.5, factor=np.array([[2.0, 0.0], [1.5, 0.0]]), rng=rng)
    assert_close(
        after.position[:, 1],
        0.75 * after.position[:, 0],
        "the second coordinate of steps F z with F = [[2, 0], [1.5, 0]]",
        "equation (6)",
    )


def test_move_always_goes_where_the_density_is_greater(rng):
    before = Population(np.zeros((50, 1)), np.zeros(50), np.zeros(50))
    _, accepted = move(lambda x: 3.0 * (x[:, 0] != 0), plane, before, 0.5, factor=np.eye(1), rng=rng)
    assert accepted.all(), (
        f"move accepted {accepted.sum()} of 50 steps to where the density is greater; (6) accepts all"
    )


@pytest.mark.parametrize("temperature", [0.0, 0.25, 1.0])
def test_move_accepts_by_prior_and_tempered_likelihood(temperature, rng):
    """From the origin to anywhere else, the prior falls by a factor of 0.8, and the likelihood by 0.5."""
    start = np.zeros((4000, 1))
    before = Population(start, np.zeros(4000), np.zeros(4000))
    after, accepted = move(
        lambda x: np.where(x[:, 0] == 0, 0.0, np.log(0.8)),
        lambda x: np.where(x[:, 0] == 0, 0.0, np.log(0.5)),
        before,
        temperature,
        factor=np.eye(1),
        rng=rng,
    )
    went = after.position[:, 0] != 0
    assert (went == accepted).all(), "move reports other particles as accepted than those that moved"
    call = f"particles that move at temperature {temperature} where the prior falls to 0.8 and the likelihood to 0.5"
    assert_frequency(accepted.sum(), 4000, 0.8 * 0.5**temperature, call, "equation (6)")
    expected = np.where(went, np.log(0.8), 0.0), np.where(went, np.log(0.5), 0.0)
    assert_close(
        (after.log_prior, after.log_likelihood), expected, "log prior and log likelihood after move", "of there"
    )


def test_move_never_goes_where_there_is_no_density(rng):
    start = np.full((500, 1), 0.05)
    before = Population(start, np.zeros(500), np.zeros(500))

    def wall(x):
        return np.where(x[:, 0] > 0, 0.0, -np.inf)

    for prior, likelihood in ((wall, plane), (plane, wall)):
        after, accepted = move(prior, likelihood, before, 0.5, factor=np.eye(1), rng=rng)
        assert (after.position > 0).all(), "move went where the prior or the likelihood is zero"
        assert 150 < accepted.sum() < 400, f"move accepted {accepted.sum()} of 500 steps, of which half are possible"
    after, _ = move(plane, wall, before, 0.0, factor=np.eye(1), rng=rng)
    assert (after.position < 0).any(), "at temperature 0 the likelihood should not matter to move"


def test_move_leaves_the_tempered_law_as_it_is(rng):
    mean, deviation, _ = exact(0.3)
    population = population_of(mean + deviation * rng.standard_normal((3000, 2)))
    for _ in range(6):
        population, _ = move(
            log_prior, log_likelihood, population, 0.3, factor=np.array([[0.7, 0.0], [0.1, 0.4]]), rng=rng
        )
    z = (population.position - mean) / deviation
    assert_mean(z, 0.0, "standardised particles after six moves at temperature 0.3", "(6) keeps the law (1)", sd=1.0)
    assert_variance(z, 1.0, "standardised particles after six moves at temperature 0.3", "(6) keeps the law (1)")
    expected = log_prior(population.position), log_likelihood(population.position)
    assert_close(
        (population.log_prior, population.log_likelihood), expected, "what six moves keep of each particle", "of there"
    )


def test_move_refuses_what_are_no_log_densities(rng):
    before = Population(np.zeros((5, 1)), np.zeros(5), np.zeros(5))
    for functions in ((lambda x: x[:, 0] * np.nan, plane), (plane, lambda x: np.full(len(x), np.inf))):
        with pytest.raises(ValueError, match="log_density_fn must"):
            move(*functions, before, 0.5, factor=np.eye(1), rng=rng)


# rise_once


def watched(function):
    """The same, and the rows that it is called with."""
    calls = []

    def watching(x):
        calls.append(x.copy())
        return function(x)

    return watching, calls


def test_rise_once_goes_to_the_next_temperature_by_the_factor_of_the_rise(rng):
    before = population_of(SPREAD * rng.standard_normal((120, 2)))
    for temperature, ess_share in ((0.0, 0.4), (0.02, 0.7), (0.5, 0.01)):
        _, found, log_factor, _ = rise_once(
            log_prior, log_likelihood, before, temperature, ess_share=ess_share, n_moves=1, rng=rng
        )
        call = f"rise_once(temperature={temperature}, ess_share={ess_share})"
        expected = next_temperature(before.log_likelihood, temperature, ess_share=ess_share)
        assert_close(found, expected, f"{call}[1]", "next_temperature", rtol=1e-7)
        factor = np.logaddexp.reduce((expected - temperature) * before.log_likelihood) - np.log(120)
        assert_close(log_factor, factor, f"{call}[2]", "equation (3)", rtol=1e-6)


def test_rise_once_moves_at_the_new_temperature(rng):
    """All particles are at whole numbers, where the likelihood is 1; elsewhere it is 0.25. The new temperature is 1."""
    start = np.repeat(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), 1000, axis=0)

    def likelihood(x):
        return np.where((x == np.rint(x)).all(axis=1), 0.0, np.log(0.25))

    before = Population(start, np.zeros(3000), likelihood(start))
    after, new, _, rate = rise_once(plane, likelihood, before, 0.5, ess_share=0.5, n_moves=1, rng=rng)
    assert new == 1.0, f"rise_once from 0.5 with a flat likelihood went to {new}"
    taken = int((after.log_likelihood < 0).sum())
    assert_close(
        rate, taken / 3000, "the rate that rise_once reports after one move", "the share that moved", rtol=1e-9
    )
    call = "moves of rise_once to a likelihood of 0.25 that are accepted"
    assert_frequency(taken, 3000, 0.25, call, "equation (6) at the new temperature, 1")


def test_rise_once_makes_all_moves_and_reports_their_mean_rate(rng):
    before = population_of(SPREAD * rng.standard_normal((200, 2)))
    function, calls = watched(log_likelihood)
    after, _, _, rate = rise_once(log_prior, function, before, 0.0, ess_share=0.5, n_moves=4, rng=rng)
    assert sum(map(len, calls)) == 800, (
        f"rise_once(n_moves=4) computed {sum(map(len, calls))} likelihoods, expected 800"
    )
    expected = log_prior(after.position), log_likelihood(after.position)
    assert_close(
        (after.log_prior, after.log_likelihood), expected, "log prior and log likelihood after rise_once", "there"
    )
    assert 0.1 < rate < 0.8, f"rise_once reports a rate of acceptance of {rate}"


def test_rise_once_reports_the_mean_over_its_moves(rng):
    """The likelihood is possible for the first two moves, and then nowhere but where one is."""
    count = []

    def closing(x):
        count.append(1)
        return np.zeros(len(x)) if len(count) <= 2 else np.full(len(x), -np.inf)

    start = rng.standard_normal((40, 2))
    before = Population(start, np.zeros(40), np.zeros(40))
    *_, rate = rise_once(plane, closing, before, 0.0, ess_share=0.5, n_moves=5, rng=rng)
    assert_close(
        rate, 0.4, "the rate of rise_once where the first 2 of 5 moves are accepted, by all particles,", "its mean"
    )


def test_rise_once_shapes_its_steps_by_the_population_after_the_climb(rng):
    """The climb leaves a narrow population of a wide one: the steps are narrow."""
    start = np.concatenate([rng.normal(0, 0.01, (30, 1)), rng.normal(0, 100, (300, 1))])

    def likelihood(x):
        return np.where(abs(x[:, 0]) < 0.1, 0.0, -np.inf)

    function, calls = watched(likelihood)
    before = Population(start, np.zeros(330), likelihood(start))
    rise_once(plane, function, before, 0.0, ess_share=0.5, n_moves=1, rng=rng)
    widest = abs(np.concatenate(calls)).max()
    assert widest < 1, (
        f"rise_once proposed a place {widest:.3g} away, where the population after the climb is 0.01 wide; (7)"
    )


@pytest.mark.given
def test_rise_once_refuses_to_make_no_moves(rng):
    before = population_of(SPREAD * rng.standard_normal((20, 2)))
    with pytest.raises(ValueError, match="n_moves must"):
        rise_once(log_prior, log_likelihood, before, 0.0, ess_share=0.5, n_moves=0, rng=rng)


# sample


@pytest.fixture(scope="module")
def run():
    """A run with 500 particles on the normal model, and what its functions were called with."""
    rng, calls = np.random.default_rng(5), []

    def counting(x):
        calls.append(len(x))
        return log_likelihood(x)

    start = SPREAD * rng.standard_normal((500, 2))
    copy = start.copy()
    found = sample(log_prior, counting, start, n_moves=3, rng=rng)
    assert (start == copy).all(), "sample changed the draws that it was given"
    return found, calls


def test_sample_climbs_from_zero_to_one(run):
    found, calls = run
    temperatures = found.temperatures
    assert temperatures[0] == 0.0 and temperatures[-1] == 1.0, f"the temperatures are {temperatures}"
    assert (np.diff(temperatures) > 0).all(), f"the temperatures should rise: {temperatures}"
    assert 4 <= len(temperatures) <= 12, (
        f"the ladder has {len(temperatures)} temperatures; about 6 leave half each time"
    )
    rises = len(temperatures) - 1
    assert found.acceptance_rate.shape == (rises,), (
        f"acceptance_rate has shape {found.acceptance_rate.shape}; there are {rises} rises"
    )
    assert ((found.acceptance_rate > 0.15) & (found.acceptance_rate < 0.6)).all(), (
        f"the rates of acceptance are {found.acceptance_rate}; with steps by (7) in two dimensions about a third are taken"
    )
    assert sum(calls) == 500 * (1 + 3 * rises), (
        f"the likelihood was computed {sum(calls)} times; 500 at first and 3 moves after each of {rises} rises make "
        f"{500 * (1 + 3 * rises)}"
    )


def test_sample_returns_what_belongs_to_its_particles(run):
    population = run[0].population
    expected = log_prior(population.position), log_likelihood(population.position)
    assert_close(
        (population.log_prior, population.log_likelihood), expected, "log prior and log likelihood of sample", "there"
    )
    distinct = len(np.unique(population.position[:, 0]))
    assert distinct > 250, f"of 500 particles of sample {distinct} are different: the others were never moved"


def test_sample_finds_posterior_and_evidence(rng):
    mean, deviation, log_evidence = exact(1.0)
    runs = [sample(log_prior, log_likelihood, SPREAD * rng.standard_normal((150, 2)), rng=rng) for _ in range(40)]
    means = [found.population.position.mean(axis=0) for found in runs]
    # What a run is off by has a bias of some 1 / 150 of its deviation: a tenth of what 40 runs allow.
    assert_mean(means, mean, "the mean of the particles of sample", "the exact posterior")
    spread = [((found.population.position - mean) ** 2).mean(axis=0) for found in runs]
    assert_mean(
        spread, deviation**2, "the mean square of the particles of sample around the exact mean", "the posterior"
    )
    ratios = [np.exp(found.log_evidence - log_evidence) for found in runs]
    assert_mean(ratios, 1.0, "the evidence of sample over the exact one", "equations (1) and (3)")


def test_sample_finds_both_modes(rng):
    """Modes at -6 and 6 with the weights 0.25 and 0.75 under a wide prior."""

    def prior(x):
        return -(x[:, 0] ** 2) / 200

    def likelihood(x):
        return np.logaddexp(np.log(0.25) - 8 * (x[:, 0] + 6) ** 2, np.log(0.75) - 8 * (x[:, 0] - 6) ** 2)

    shares = []
    for _ in range(25):
        found = sample(prior, likelihood, 10 * rng.standard_normal((200, 1)), n_moves=2, rng=rng)
        shares.append((found.population.position[:, 0] > 0).mean())
    assert_mean(shares, 0.75, "the share of the particles of sample in the mode at 6", "the weights of the modes")


def test_sample_climbs_slower_for_a_greater_share():
    ladders = []
    for ess_share in (0.3, 0.9):
        rng = np.random.default_rng(3)
        start = SPREAD * rng.standard_normal((200, 2))
        ladders.append(
            len(sample(log_prior, log_likelihood, start, ess_share=ess_share, n_moves=1, rng=rng).temperatures)
        )
    assert ladders[1] > 2 * ladders[0] - 2, f"with ess_share 0.3 and 0.9 sample made ladders of {ladders} temperatures"


def test_sample_with_a_flat_likelihood_climbs_at_once(rng):
    start = rng.standard_normal((50, 1))
    found = sample(lambda x: -(x[:, 0] ** 2) / 2, lambda x: np.full(len(x), -7.0), start, rng=rng)
    assert_close(found.temperatures, [0.0, 1.0], "the temperatures of sample with a flat likelihood", "(5): one rise")
    assert_close(found.log_evidence, -7.0, "the log evidence of sample with a flat likelihood of e^-7", "equation (3)")


def test_sample_gives_up_after_max_rises(rng):
    start = SPREAD * rng.standard_normal((100, 2))
    with pytest.raises(ValueError, match="max_rises must"):
        sample(log_prior, log_likelihood, start, max_rises=2, rng=rng)
    with pytest.raises(ValueError, match="max_rises must"):
        sample(log_prior, log_likelihood, start, ess_share=0.99, max_rises=5, rng=rng)
    needed = len(sample(log_prior, log_likelihood, start, rng=np.random.default_rng(3)).temperatures) - 1
    again = sample(log_prior, log_likelihood, start, max_rises=needed, rng=np.random.default_rng(3)).temperatures
    assert again[-1] == 1, (
        f"sample(max_rises={needed}) came to {again[-1]}, where without a limit {needed} rises were made"
    )
    with pytest.raises(ValueError, match="max_rises must"):
        sample(log_prior, log_likelihood, start, max_rises=needed - 1, rng=np.random.default_rng(3))


@pytest.mark.given
def test_sample_refuses_draws_that_are_none(rng):
    for start in (np.zeros(5), np.zeros((2, 2)), np.full((5, 1), np.nan)):
        with pytest.raises(ValueError, match="position must"):
            sample(plane, plane, start, rng=rng)
    with pytest.raises(ValueError, match="position must"):
        sample(lambda x: np.full(len(x), -np.inf), plane, np.ones((5, 1)), rng=rng)


def test_sample_refuses_a_likelihood_that_is_zero_everywhere(rng):
    with pytest.raises(ValueError, match="log_likelihood must"):
        sample(plane, lambda x: np.full(len(x), -np.inf), rng.standard_normal((20, 1)), rng=rng)
