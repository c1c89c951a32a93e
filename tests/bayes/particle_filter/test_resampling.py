"""Shared tests of bayes/particle_filter/resampling: run on the reference, and on the learner's file.

Ancestors may come in any order. What is random is checked by 14 checks that a right solution fails with a probability of
1e-8 each, 1.4e-7 together.
"""

import numpy as np
import pytest
from scipy import special

from mlpath.bayes.particle_filter.resampling import (
    effective_sample_size,
    multinomial,
    normalise,
    pick,
    residual,
    stratified,
    systematic,
)
from mlpath.testing import assert_close, assert_frequencies, assert_mean, assert_variance

WEIGHTS = np.array([0.07, 0.0, 0.31, 0.02, 0.18, 0.24, 0.0, 0.13, 0.05])
FEW = np.array([0.22, 0.36, 0.0, 0.18, 0.24])  # 7 times these are nearly as often rounded up as down: no skewness
REPEATS = 1_500


@pytest.fixture
def rng():
    return np.random.default_rng(20260)


def offspring(scheme, weights, n, rng):
    """How many offspring each particle has."""
    ancestors = np.asarray(scheme(weights, n, rng=rng))
    name = f"{scheme.__name__}(weights of {len(weights)} particles, n={n})"
    assert ancestors.shape == (n,), f"{name} returned shape {ancestors.shape}, expected ({n},)"
    assert np.issubdtype(ancestors.dtype, np.integer), f"{name} returned {ancestors.dtype}, expected whole numbers"
    inside = ((ancestors >= 0) & (ancestors < len(weights))).all()
    assert inside, f"{name} returned {ancestors}; there are particles 0 to {len(weights) - 1} only"
    return np.bincount(ancestors, minlength=len(weights))


def many(scheme, weights, n, rng, repeats=REPEATS):
    return np.array([offspring(scheme, weights, n, rng) for _ in range(repeats)])


def assert_any_number(scheme, rng):
    """Any number of ancestors, none of them without weight."""
    for n in (1, 4, 50):
        dead = offspring(scheme, WEIGHTS, n, rng)[WEIGHTS == 0]
        assert not dead.any(), f"{scheme.__name__}(WEIGHTS, {n}) gave {dead} offspring to particles of weight zero"


def assert_unbiased(scheme, rng):
    counts = many(scheme, FEW, 7, rng)
    # The skewness of the counts is at most 0.63, so that 1500 repetitions keep the error within a factor of three.
    assert_mean(counts, 7 * FEW, f"the offspring of {scheme.__name__}(FEW, 7)", "equation (3)", error=3e-9)


def assert_clean(scheme):
    """All randomness from the generator, and the weights left alone."""
    weights, name = WEIGHTS.copy(), scheme.__name__
    first, again = (np.sort(scheme(weights, 30, rng=np.random.default_rng(3))) for _ in range(2))
    assert_close(again, first, f"{name} with the same seed for the second time", "the ancestors of the first time")
    others = [np.sort(scheme(weights, 30, rng=np.random.default_rng(seed))) for seed in range(20)]
    assert any((other != first).any() for other in others), f"{name} returned the same ancestors for 20 seeds"
    assert_close(weights, WEIGHTS, f"the weights after {name}", "what they were before")


def assert_less_noisy(scheme, rng):
    values = np.sort(rng.normal(size=30))
    weights, _ = normalise(values)
    means = many(scheme, weights, 30, rng, 300) @ values / 30
    of_multinomial = (weights @ values**2 - (weights @ values) ** 2) / 30
    # Stratified: 0.013 times as much, residual: 0.29 times. Over 300 repetitions the variance is right to some 30 %.
    assert means.var() < 0.75 * of_multinomial, (
        f"the mean after {scheme.__name__} has variance {means.var():.3g}; "
        f"multinomial has {of_multinomial:.3g}, and by (9) it is less"
    )


# normalise


def test_normalise_divides_by_the_sum_and_returns_the_log_of_the_mean():
    raw = np.array([3.0, 0.5, 4.0, 2.0, 0.5])
    weights, log_mean = normalise(np.log(raw))
    assert_close(weights, raw / 10, "normalise(log([3, 0.5, 4, 2, 0.5]))[0]", "equation (1)")
    assert_close(log_mean, np.log(2), "normalise(log([3, 0.5, 4, 2, 0.5]))[1]", "equation (1): the log of the mean, 2")


@pytest.mark.parametrize("shift", [-1e6, -800.0, 800.0, 1e6])
def test_normalise_survives_log_weights_of_any_size(shift, rng):
    log_weights = rng.normal(0, 3, 20)
    weights, log_mean = normalise(log_weights + shift)
    call = f"normalise(20 log weights near {shift:g})"
    assert_close(weights, special.softmax(log_weights), call + "[0]", "equation (1)", rtol=1e-8)
    assert_close(
        log_mean, special.logsumexp(log_weights) - np.log(20) + shift, call + "[1]", "equation (1)", rtol=1e-12
    )


def test_normalise_keeps_zero_weights_and_counts_them_in_the_mean():
    weights, log_mean = normalise(np.array([-np.inf, 0.0, -np.inf, 0.0, -np.inf]))
    assert_close(weights, [0, 0.5, 0, 0.5, 0], "normalise([-inf, 0, -inf, 0, -inf])[0]", "equation (1)")
    assert_close(log_mean, np.log(0.4), "normalise([-inf, 0, -inf, 0, -inf])[1]", "equation (1), with N = 5")


def test_normalise_leaves_its_argument_alone(rng):
    log_weights = rng.normal(size=6)
    before = log_weights.copy()
    normalise(log_weights)
    assert_close(log_weights, before, "log_weights after normalise", "what it was before")


@pytest.mark.given
@pytest.mark.parametrize("log_weights", [[0.0, np.nan], [0.0, np.inf], [[0.0, 1.0]], [], [-np.inf, -np.inf]])
def test_normalise_refuses_what_are_no_log_weights(log_weights):
    with pytest.raises(ValueError, match="log_weights must"):
        normalise(np.array(log_weights))


# effective_sample_size


def test_effective_sample_size_of_uneven_weights():
    weights = np.array([0.6, 0.0, 0.3, 0.1])
    found = effective_sample_size(weights)
    assert_close(found, 1 / 0.46, "effective_sample_size([0.6, 0, 0.3, 0.1])", "equation (2)")


def test_effective_sample_size_of_equal_weights_is_their_number_and_of_one_is_one():
    equal = effective_sample_size(np.full(7, 1 / 7))
    assert_close(equal, 7.0, "effective_sample_size(7 equal weights)", "equation (2)", rtol=1e-12)
    alone = effective_sample_size(np.array([0.0, 1.0, 0.0]))
    assert_close(alone, 1.0, "effective_sample_size([0, 1, 0])", "equation (2)", rtol=1e-12)


@pytest.mark.given
def test_effective_sample_size_refuses_weights_that_are_none():
    with pytest.raises(ValueError, match="weights must"):
        effective_sample_size(np.array([0.2, 0.9]))


# pick


def test_pick_returns_the_owner_of_each_point_in_their_order():
    points = np.array([0.99, 0.1, 0.44, 0.3, 0.85, 0.0])
    found = pick(np.array([0.2, 0.25, 0.35, 0.2]), points)
    assert_close(found, [3, 0, 1, 1, 3, 0], f"pick([0.2, 0.25, 0.35, 0.2], {points})", "equation (4)")


def test_pick_gives_a_point_on_a_border_to_the_interval_that_begins_there():
    found = pick(np.array([0.25, 0.5, 0.25]), np.array([0.0, 0.25, 0.75]))
    assert_close(found, [0, 1, 2], "pick([0.25, 0.5, 0.25], [0, 0.25, 0.75])", "equation (4)")


def test_pick_never_returns_a_particle_of_weight_zero():
    found = pick(np.array([0.0, 0.25, 0.0, 0.0, 0.75, 0.0]), np.array([0.0, 0.25, 0.9, 1.0]))
    assert_close(found, [1, 4, 4, 4], "pick([0, 0.25, 0, 0, 0.75, 0], [0, 0.25, 0.9, 1])", "equation (4)")


def test_pick_gives_what_lies_beyond_the_last_interval_to_the_last_that_has_weight():
    weights = np.append(np.full(10, 0.1), 0.0)  # their sum is rounded to 1 - 1.1e-16
    points = np.array([1 - 1e-16, 1.0, 0.05])
    found = pick(weights, points)
    assert_close(
        found, [9, 9, 0], "pick(ten weights of 0.1 and a 0, [1 - 1e-16, 1, 0.05])", "the rule after equation (4)"
    )


def test_pick_returns_whole_numbers_for_any_number_of_points():
    found = np.asarray(pick(WEIGHTS, np.linspace(0, 0.999, 40)))
    assert np.issubdtype(found.dtype, np.integer), f"pick returned {found.dtype}, expected whole numbers"
    shares = np.bincount(found, minlength=len(WEIGHTS)) / 40
    assert abs(shares - WEIGHTS).max() < 0.03, (
        f"of 40 equidistant points the particles own {shares}, by (4) about {WEIGHTS}"
    )


@pytest.mark.given
def test_pick_refuses_points_outside_and_weights_that_are_none():
    for point in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="points must"):
            pick(np.array([0.5, 0.5]), np.array([point]))
    for weights in ([0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [[1.0]], []):
        with pytest.raises(ValueError, match="weights must"):
            pick(np.array(weights), np.array([0.5]))


# multinomial


def test_multinomial_draws_each_particle_as_often_as_its_weight_says(rng):
    counts = offspring(multinomial, WEIGHTS, 20_000, rng)
    assert_frequencies(counts, WEIGHTS, "multinomial(WEIGHTS, 20000)", "the weights: equation (5)")


def test_multinomial_draws_its_ancestors_independently(rng):
    counts = many(multinomial, FEW, 25, rng, 1000)
    alive = FEW > 0
    expected = (25 * FEW * (1 - FEW))[alive]
    # The kurtosis of these binomial laws is 3 + 1 / expected - 6 / 25, at most 3.1.
    assert_variance(
        counts[:, alive], expected, "the offspring of multinomial(FEW, 25)", "equation (5): n w (1 - w)", kurtosis=3.1
    )


def test_multinomial_draws_any_number_of_ancestors_and_none_of_weight_zero(rng):
    assert_any_number(multinomial, rng)


def test_multinomial_is_unbiased(rng):
    assert_unbiased(multinomial, rng)


def test_multinomial_takes_its_randomness_from_its_generator_and_leaves_the_weights_alone():
    assert_clean(multinomial)


# stratified


def test_stratified_draws_any_number_of_ancestors_and_none_of_weight_zero(rng):
    assert_any_number(stratified, rng)


def test_stratified_is_unbiased(rng):
    assert_unbiased(stratified, rng)


def beyond(counts, weights):
    """How far the numbers of offspring of the first i particles are from what is expected, at most."""
    n = counts[0].sum()
    return abs(np.cumsum(counts, axis=1) - n * np.cumsum(weights)).max()


@pytest.mark.parametrize("n", [5, 9, 40])
def test_stratified_has_one_point_in_each_stratum(n, rng):
    off = beyond(many(stratified, WEIGHTS, n, rng, 100), WEIGHTS)
    assert off < 1 + 1e-9, (
        f"stratified(WEIGHTS, {n}): the offspring of the first particles of the row are up to {off:.3g} off n C_i; "
        "with one point in each stratum, equation (6), it is less than 1"
    )


def test_stratified_uses_a_number_of_its_own_for_each_stratum(rng):
    # Borders in the middle of the first and the third stratum: the two points cross them independently.
    counts = many(stratified, np.array([1 / 6, 4 / 6, 1 / 6]), 3, rng)
    cases = [((counts == case).all(axis=1)).sum() for case in ([0, 2, 1], [0, 3, 0], [1, 1, 1], [1, 2, 0])]
    assert sum(cases) == REPEATS, "stratified([1/6, 4/6, 1/6], 3) gave the first or the last particle two offspring"
    assert_frequencies(
        cases,
        np.full(4, 0.25),
        "stratified([1/6, 4/6, 1/6], 3): the offspring (0, 2, 1), (0, 3, 0), (1, 1, 1), (1, 2, 0)",
        "equation (6)",
    )


def test_stratified_is_less_noisy_than_multinomial(rng):
    assert_less_noisy(stratified, rng)


def test_stratified_takes_its_randomness_from_its_generator_and_leaves_the_weights_alone():
    assert_clean(stratified)


# systematic


def test_systematic_draws_any_number_of_ancestors_and_none_of_weight_zero(rng):
    assert_any_number(systematic, rng)


def test_systematic_is_unbiased(rng):
    assert_unbiased(systematic, rng)


@pytest.mark.parametrize("n", [5, 9, 40])
def test_systematic_gives_each_particle_the_whole_part_of_its_due_or_one_more(n, rng):
    counts, due = many(systematic, WEIGHTS, n, rng, 100), n * WEIGHTS
    low, high = counts.min(axis=0), counts.max(axis=0)
    right = (low >= np.floor(due + 1e-9)) & (high <= np.floor(due + 1e-9) + (due > 0))
    assert right.all(), (
        f"systematic(WEIGHTS, {n}) gave particle {np.argmin(right)} between {low[np.argmin(right)]} and "
        f"{high[np.argmin(right)]} offspring, where n w = {due[np.argmin(right)]:.3g}: the teeth of (7) are 1/n apart"
    )


def test_systematic_moves_all_points_by_the_same_number(rng):
    counts = many(systematic, np.array([1 / 6, 4 / 6, 1 / 6]), 3, rng)
    cases = [((counts == case).all(axis=1)).sum() for case in ([1, 2, 0], [0, 2, 1])]
    assert sum(cases) == REPEATS, (
        "systematic([1/6, 4/6, 1/6], 3) should give the offspring (1, 2, 0) or (0, 2, 1) by equation (7), "
        f"but {counts[~((counts[:, 1] == 2) & (counts.max(axis=1) == 2))][:1]} came"
    )
    assert_frequencies(
        cases, [0.5, 0.5], "systematic([1/6, 4/6, 1/6], 3): the offspring (1, 2, 0), (0, 2, 1)", "equation (7)"
    )


def test_systematic_takes_its_randomness_from_its_generator_and_leaves_the_weights_alone():
    assert_clean(systematic)


# residual


def test_residual_draws_any_number_of_ancestors_and_none_of_weight_zero(rng):
    assert_any_number(residual, rng)


def test_residual_is_unbiased(rng):
    assert_unbiased(residual, rng)


@pytest.mark.parametrize("n", [5, 9, 40])
def test_residual_gives_each_particle_at_least_the_whole_part_of_its_due(n, rng):
    least = many(residual, WEIGHTS, n, rng, 100).min(axis=0)
    assert (least >= np.floor(n * WEIGHTS)).all(), (
        f"residual(WEIGHTS, {n}) gave some particles only {least} offspring; equation (8) grants {np.floor(n * WEIGHTS)}"
    )


def test_residual_draws_the_rest_independently_by_the_fractions(rng):
    # n w = (1.5, 0.7, 0.8): one is certain; two more are drawn with the probabilities 0.25, 0.35 and 0.4.
    counts = many(residual, np.array([0.5, 0.7 / 3, 0.8 / 3]), 3, rng) - [1, 0, 0]
    p, q, r = 0.25, 0.35, 0.4
    cases = {(2, 0, 0): p * p, (0, 2, 0): q * q, (0, 0, 2): r * r}
    cases |= {(1, 1, 0): 2 * p * q, (1, 0, 1): 2 * p * r, (0, 1, 1): 2 * q * r}
    found = [(counts == case).all(axis=1).sum() for case in cases]
    assert_frequencies(
        found, list(cases.values()), f"residual([1.5, 0.7, 0.8] / 3, 3): the rest {list(cases)}", "equation (8)"
    )


def test_residual_leaves_nothing_to_chance_where_all_dues_are_whole(rng):
    for weights, n in (([0.25, 0.5, 0.0, 0.25], 12), (np.full(10, 0.1), 10), (np.array([0.07, 0.29, 0.64]), 100)):
        counts = many(residual, np.array(weights), n, rng, 20)
        whole = np.rint(n * np.asarray(weights))
        assert (counts == whole).all(), (
            f"residual({np.asarray(weights)}, {n}) gave the offspring {counts[(counts != whole).any(axis=1)][0]}; "
            f"n w = {whole}, whole numbers but for rounding, so that nothing is left to draw"
        )


def test_residual_is_less_noisy_than_multinomial(rng):
    assert_less_noisy(residual, rng)


def test_residual_takes_its_randomness_from_its_generator_and_leaves_the_weights_alone():
    assert_clean(residual)


@pytest.mark.given
@pytest.mark.parametrize("scheme", [multinomial, stratified, systematic, residual])
def test_multinomial_and_the_others_refuse_to_draw_nothing_and_weights_that_are_none(scheme, rng):
    with pytest.raises(ValueError, match="n must be at least 1"):
        scheme(np.array([0.5, 0.5]), 0, rng=rng)
    with pytest.raises(ValueError, match="weights must"):
        scheme(np.array([0.5, 0.4]), 3, rng=rng)
