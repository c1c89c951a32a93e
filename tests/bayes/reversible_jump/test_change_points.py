"""Shared tests of bayes/reversible_jump/change_points: run on the reference, and on the learner's file.

What goes by chance is checked over independent chains, by 6 checks that a right solution fails with a probability of 1e-8 each.
"""

from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import integrate, special, stats

from mlpath.bayes._targets import coal_counts
from mlpath.bayes.reversible_jump.change_points import (
    Jump,
    Model,
    State,
    accept,
    birth,
    death,
    exact_posterior,
    log_posterior,
    log_segments,
    merge,
    neighbours,
    paint,
    pick,
    redraw_rates,
    sample,
    shift,
    split,
    step,
)
from mlpath.testing import assert_close, assert_distribution, assert_frequencies, assert_frequency

N = 10_000


@pytest.fixture
def rng():
    return np.random.default_rng(1979)


COUNTS = np.array([2, 4, 1, 9, 7, 8, 11, 0, 1, 2, 3, 2])
MODEL = Model(COUNTS, 1.5, 0.4, np.array([-0.3, -1.0, -0.2, -1.5, -0.9]))
SHARE = 0.45


def states(numbers, seed=3):
    """A chain for each of the numbers of changes, at random places, with rates of their segments."""
    rng = np.random.default_rng(seed)
    change = np.zeros((len(numbers), 11), dtype=bool)
    rate = np.empty((len(numbers), 12))
    for i, k in enumerate(numbers):
        places = np.sort(rng.choice(np.arange(1, 12), k, replace=False))
        change[i, places - 1] = True
        edges = np.array([0, *places, 12])
        rate[i] = np.repeat(rng.gamma(3.0, 1.5, k + 1), np.diff(edges))
    return State(change, rate)


def density(model, change, rate):
    """log p(k, c, h, y) of one chain, equation (2), factor by factor."""
    edges = np.array([0, *(np.flatnonzero(change) + 1), len(model.counts)])
    k = len(edges) - 2
    found = model.log_prior[k] - np.log(special.comb(len(model.counts) - 1, k))
    for s, t in pairwise(edges):
        found += stats.gamma.logpdf(rate[s], model.shape, scale=1 / model.rate)
        found += stats.poisson.logpmf(model.counts[s:t], rate[s]).sum()
    return found


def tries(model, k, share):
    """b_k and d_(k + 1)."""
    rise = np.exp(model.log_prior[k + 1] - model.log_prior[k])
    return share * min(1, rise), share * min(1, 1 / rise)


def log_volume(h, w, u):
    """The log of the Jacobian of (3), by differences."""

    def cut(h, u):
        odds = u / (1 - u)
        return np.array([h * odds ** (1 - w), h * odds**-w])

    step = 1e-5 * min(u, 1 - u)
    by_h = (cut(h * (1 + 1e-5), u) - cut(h * (1 - 1e-5), u)) / (2e-5 * h)
    by_u = (cut(h, u + step) - cut(h, u - step)) / (2 * step)
    return np.log(abs(by_h[0] * by_u[1] - by_h[1] * by_u[0]))


def log_evidence(model, edges):
    """The log evidence of the segments between the edges."""
    found = 0.0
    for s, t in pairwise(edges):
        a, b = model.shape + model.counts[s:t].sum(), model.rate + t - s
        found += model.shape * np.log(model.rate) - special.gammaln(model.shape) + special.gammaln(a) - a * np.log(b)
        found -= special.gammaln(model.counts[s:t] + 1).sum()
    return found


def enumerated(model):
    """All sets of places, and the exact probability of each."""
    n = len(model.counts)
    sets = [places for k in range(len(model.log_prior)) for places in combinations(range(1, n), k)]
    log_joint = np.array(
        [
            model.log_prior[len(places)]
            - np.log(special.comb(n - 1, len(places)))
            + log_evidence(model, (0, *places, n))
            for places in sets
        ]
    )
    weights = np.exp(log_joint - log_joint.max())
    return sets, weights / weights.sum()


# split


def test_split_keeps_the_mean_of_the_logarithms_and_draws_the_rates_apart():
    rate, weight, u = np.array([2.0, 0.7, 30.0, 5.0]), np.array([0.25, 0.5, 0.9, 0.1]), np.array([0.9, 0.3, 0.5, 0.02])
    left, right, _ = split(rate, weight, u)
    kept = weight * np.log(left) + (1 - weight) * np.log(right)
    assert_close(kept, np.log(rate), "w log h1 + (1 - w) log h2 of split", "equation (3): log h", atol=1e-12)
    assert_close(right / left, (1 - u) / u, "h2 / h1 of split", "equation (3): (1 - u) / u")


def test_split_of_a_rate_in_four():
    left, right, _ = split(np.array([3.0]), np.array([0.25]), np.array([16 / 17]))
    assert_close([left[0], right[0]], [24.0, 1.5], "split(3, weight=0.25, u=16/17)", "equation (3)")


def test_split_knows_the_change_of_volume():
    rate, weight, u = np.array([2.0, 0.7, 30.0, 5.0]), np.array([0.25, 0.5, 0.9, 0.1]), np.array([0.9, 0.3, 0.5, 0.02])
    expected = [log_volume(*row) for row in zip(rate, weight, u, strict=True)]
    found = split(rate, weight, u)[2]
    assert_close(found, expected, "split(...)[2], log |det J|,", "the derivatives of (3), by differences", rtol=1e-6)


def test_split_does_not_need_the_weight_for_the_volume_if_the_rates_stay():
    found = split(np.array([4.0, 4.0, 4.0]), np.array([0.1, 0.5, 0.8]), np.full(3, 0.5))
    assert_close(np.stack(found[:2]), np.full((2, 3), 4.0), "split(4, weights, u=1/2)", "two equal rates")
    assert_close(found[2], np.log(np.full(3, 16.0)), "log |det J| of split(4, weights, u=1/2)", "equation (4)")


@pytest.mark.given
def test_split_and_merge_refuse_what_has_no_two_sides():
    one = np.ones(1)
    for weight in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="weight must"):
            split(one, weight * one, one / 2)
        with pytest.raises(ValueError, match="weight must"):
            merge(one, one, weight * one)
    for u in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="u must"):
            split(one, one / 2, u * one)
    for rate in (0.0, -1.0, np.inf):
        with pytest.raises(ValueError, match="rate must"):
            split(rate * one, one / 2, one / 2)


# merge


def test_merge_of_two_rates():
    rate, u = merge(np.array([24.0, 1.0]), np.array([1.5, 1.0]), np.array([0.25, 0.7]))
    assert_close(rate, [3.0, 1.0], "rate of merge([24, 1.5], [1, 1], weight=[0.25, 0.7])", "equation (3)")
    assert_close(u, [16 / 17, 0.5], "u of merge([24, 1.5], [1, 1], weight=[0.25, 0.7])", "equation (3)")


def test_merge_is_the_inverse_of_split(rng):
    rate, weight, u = rng.gamma(2.0, size=50), rng.uniform(0.01, 0.99, 50), rng.uniform(0.01, 0.99, 50)
    left, right, _ = split(rate, weight, u)
    back_rate, back_u = merge(left, right, weight)
    assert_close(back_rate, rate, "rate of merge(*split(rate, weight, u))", "the rate that was split")
    assert_close(back_u, u, "u of merge(*split(rate, weight, u))", "the u that split it")


def test_merge_stays_between_the_two_rates(rng):
    left, right, weight = rng.gamma(2.0, size=50), rng.gamma(2.0, size=50), rng.uniform(0.01, 0.99, 50)
    rate, u = merge(left, right, weight)
    inside = (rate > np.minimum(left, right)) & (rate < np.maximum(left, right))
    assert inside.all(), f"{np.count_nonzero(~inside)} of 50 rates of merge are not between the two that they come from"
    assert ((u > 0.5) == (left > right)).all(), "u of merge is above 1/2 where the left rate is not the greater"


# log_posterior


def test_log_posterior_is_the_product_of_all_factors():
    state = states([0, 1, 2, 3, 4, 2, 4, 1])
    expected = [density(MODEL, c, r) for c, r in zip(state.change, state.rate, strict=True)]
    assert_close(log_posterior(MODEL, state), expected, "log_posterior(model, states)", "equation (2)")


def test_log_posterior_integrates_over_one_rate_to_the_evidence():
    model = Model(np.array([3, 0, 2]), 2.5, 0.7, np.array([-0.4, -2.0]))

    def of_rate(h):
        return float(np.exp(log_posterior(model, State(np.zeros((1, 2), dtype=bool), np.full((1, 3), h)))[0]))

    found = np.log(integrate.quad(of_rate, 1e-9, 40, points=[1.0, 3.0])[0])
    expected = -0.4 + log_evidence(model, (0, 3))
    assert_close(found, expected, "the log of the integral of exp(log_posterior) over h_0", "M(0, 3) p(0)", rtol=1e-7)


def test_log_posterior_leaves_its_state_alone():
    state = states([0, 3, 2])
    log_posterior(MODEL, state)
    same = np.array_equal(state.change, states([0, 3, 2]).change) and np.array_equal(state.rate, states([0, 3, 2]).rate)
    assert same, "log_posterior changed the state that it was given"


# birth and death

FEWER = [0, 1, 2, 3, 0, 1, 2, 3]
"""Of chains that may still grow."""


def births():
    """States, a free place of each, at the edges and next to others too, and u."""
    state = states(FEWER)
    places = [1, 11, *(int(np.flatnonzero(~row)[-1 - i] + 1) for i, row in enumerate(state.change[2:]))]
    places = [
        p if not state.change[i, p - 1] else int(np.flatnonzero(~state.change[i])[0] + 1) for i, p in enumerate(places)
    ]
    return state, np.array(places), np.linspace(0.05, 0.9, len(FEWER))


def around(change, place):
    """The nearest changes on both sides."""
    edges = np.array([0, *(np.flatnonzero(change) + 1), 12])
    return edges[edges < place].max(), edges[edges > place].min()


def test_birth_cuts_the_segment_and_splits_its_rate():
    state, place, u = births()
    jump = birth(MODEL, state, place, u, share=SHARE)
    change, rate = state.change.copy(), state.rate.copy()
    for i, c in enumerate(place):
        begin, end = around(state.change[i], c)
        w, odds = (c - begin) / (end - begin), u[i] / (1 - u[i])
        rate[i, begin:c], rate[i, c:end] = state.rate[i, c - 1] * odds ** (1 - w), state.rate[i, c - 1] * odds**-w
        change[i, c - 1] = True
    assert np.array_equal(jump.state.change, change), "birth(...).state.change is not the old one and the new place"
    assert_close(jump.state.rate, rate, "birth(...).state.rate", "equation (3), left and right of the place")


def test_birth_has_the_ratio_that_balances_the_traffic():
    state, place, u = births()
    jump = birth(MODEL, state, place, u, share=SHARE)
    expected = []
    for i, c in enumerate(place):
        k = FEWER[i]
        begin, end = around(state.change[i], c)
        b, d = tries(MODEL, k, SHARE)
        ratio = density(MODEL, jump.state.change[i], jump.state.rate[i]) - density(
            MODEL, state.change[i], state.rate[i]
        )
        ratio += np.log(d / (k + 1)) - np.log(b / (11 - k))
        expected.append(ratio + log_volume(state.rate[i, c - 1], (c - begin) / (end - begin), u[i]))
    assert_close(jump.log_ratio, expected, "birth(...).log_ratio", "equation (5)", rtol=1e-6)


def test_birth_leaves_its_state_alone():
    state, place, u = births()
    birth(MODEL, state, place, u)
    same = np.array_equal(state.change, births()[0].change) and np.array_equal(state.rate, births()[0].rate)
    assert same, "birth changed the state that it was given"


def nothing():
    return State(np.zeros((0, 11), dtype=bool), np.zeros((0, 12)))


def test_birth_of_no_chains_is_empty():
    jump = birth(MODEL, nothing(), np.zeros(0, dtype=int), np.zeros(0))
    shapes = jump.state.change.shape, jump.state.rate.shape, jump.log_ratio.shape
    assert shapes == ((0, 11), (0, 12), (0,)), f"birth of no chains has arrays of shapes {shapes}"


def deaths():
    """States with changes, and one change of each: the first, the last, one in the middle."""
    state = states([1, 2, 3, 4, 4, 3, 2, 1], seed=5)
    which = [0, 1, 1, 0, 3, 2, 0, 0]
    place = np.array([np.flatnonzero(row)[i] + 1 for row, i in zip(state.change, which, strict=True)])
    return state, place


def test_death_merges_the_two_segments():
    state, place = deaths()
    jump = death(MODEL, state, place, share=SHARE)
    change, rate = state.change.copy(), state.rate.copy()
    for i, c in enumerate(place):
        begin, end = around(state.change[i], c)
        w = (c - begin) / (end - begin)
        rate[i, begin:end] = state.rate[i, c - 1] ** w * state.rate[i, c] ** (1 - w)
        change[i, c - 1] = False
    assert np.array_equal(jump.state.change, change), "death(...).state.change is not the old one without the place"
    assert_close(jump.state.rate, rate, "death(...).state.rate", "equation (3), in all years of both segments")


def test_death_has_the_ratio_that_balances_the_traffic():
    state, place = deaths()
    jump = death(MODEL, state, place, share=SHARE)
    expected = []
    for i, c in enumerate(place):
        k = np.count_nonzero(state.change[i])
        begin, end = around(state.change[i], c)
        b, d = tries(MODEL, k - 1, SHARE)
        ratio = density(MODEL, jump.state.change[i], jump.state.rate[i]) - density(
            MODEL, state.change[i], state.rate[i]
        )
        ratio += np.log(b / (12 - k)) - np.log(d / k)
        u = state.rate[i, c - 1] / (state.rate[i, c - 1] + state.rate[i, c])
        expected.append(ratio - log_volume(jump.state.rate[i, c - 1], (c - begin) / (end - begin), u))
    assert_close(jump.log_ratio, expected, "death(...).log_ratio", "equation (5), the other way", rtol=1e-6)


def test_death_is_the_reverse_of_birth():
    state, place, u = births()
    there = birth(MODEL, state, place, u, share=SHARE)
    back = death(MODEL, there.state, place, share=SHARE)
    assert np.array_equal(back.state.change, state.change), "death(birth(...)) has other changes than it began with"
    assert_close(back.state.rate, state.rate, "the rates of death(birth(...))", "those that it began with")
    assert_close(back.log_ratio, -there.log_ratio, "death(birth(...)).log_ratio", "minus that of birth", atol=1e-9)


def test_death_leaves_its_state_alone():
    state, place = deaths()
    death(MODEL, state, place)
    same = np.array_equal(state.change, deaths()[0].change) and np.array_equal(state.rate, deaths()[0].rate)
    assert same, "death changed the state that it was given"


def test_death_of_no_chains_is_empty():
    jump = death(MODEL, nothing(), np.zeros(0, dtype=int))
    shapes = jump.state.change.shape, jump.state.rate.shape, jump.log_ratio.shape
    assert shapes == ((0, 11), (0, 12), (0,)), f"death of no chains has arrays of shapes {shapes}"


# shift


def shifts():
    """States with changes, one change of each, and where it may go: as far as it can left or right, its own place."""
    state, place = deaths()
    to = []
    for i, c in enumerate(place):
        begin, end = around(state.change[i], c)
        to.append([begin + 1, end - 1, c, (begin + end) // 2][i % 4])
    return state, place, np.array(to)


def test_shift_moves_the_change_and_keeps_both_rates():
    state, place, to = shifts()
    jump = shift(MODEL, state, place, to)
    change, rate = state.change.copy(), state.rate.copy()
    for i, (c, new) in enumerate(zip(place, to, strict=True)):
        change[i, c - 1], change[i, new - 1] = False, True
        rate[i, min(c, new) : max(c, new)] = state.rate[i, c - 1] if new > c else state.rate[i, c]
    assert np.array_equal(jump.state.change, change), (
        "shift(...).state.change is not the old one with a place exchanged"
    )
    assert_close(jump.state.rate, rate, "shift(...).state.rate", "the rates of the segments, around the new place")


def test_shift_has_the_ratio_of_the_densities():
    state, place, to = shifts()
    jump = shift(MODEL, state, place, to)
    pairs = [(jump.state.change[i], jump.state.rate[i], state.change[i], state.rate[i]) for i in range(len(to))]
    expected = [density(MODEL, *pair[:2]) - density(MODEL, *pair[2:]) for pair in pairs]
    assert_close(jump.log_ratio, expected, "shift(...).log_ratio", "equation (6)", atol=1e-10)


def test_shift_back_has_the_opposite_ratio_and_leads_back():
    state, place, to = shifts()
    there = shift(MODEL, state, place, to)
    back = shift(MODEL, there.state, to, place)
    assert np.array_equal(back.state.change, state.change), "shift there and back has other changes than it began with"
    assert_close(back.state.rate, state.rate, "the rates of shift there and back", "those that it began with")
    assert_close(back.log_ratio, -there.log_ratio, "log_ratio of shift back", "minus that of shift", atol=1e-10)
    same = np.array_equal(state.change, shifts()[0].change) and np.array_equal(state.rate, shifts()[0].rate)
    assert same, "shift changed the state that it was given"


def test_shift_of_no_chains_is_empty():
    jump = shift(MODEL, nothing(), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    shapes = jump.state.change.shape, jump.state.rate.shape, jump.log_ratio.shape
    assert shapes == ((0, 11), (0, 12), (0,)), f"shift of no chains has arrays of shapes {shapes}"


# exact_posterior


def test_exact_posterior_counts_every_set_of_places():
    sets, probability = enumerated(MODEL)
    number, place = exact_posterior(MODEL)
    expected = np.bincount([len(places) for places in sets], probability)
    assert_close(number, expected, "exact_posterior(12 years, K = 4)[0]", "(8), by all 562 sets of places")
    by_place = [sum(p for places, p in zip(sets, probability, strict=True) if c in places) for c in range(1, 12)]
    assert_close(place, by_place, "exact_posterior(12 years, K = 4)[1]", "(9), by all 562 sets of places")


def test_exact_posterior_needs_no_constant_and_is_consistent():
    shifted = Model(COUNTS, 1.5, 0.4, MODEL.log_prior - 800)
    number, place = exact_posterior(shifted)
    assert_close(number, exact_posterior(MODEL)[0], "exact_posterior(log_prior - 800)[0]", "that of log_prior")
    expected = (number * np.arange(5)).sum()
    assert_close(place.sum(), expected, "the sum of exact_posterior(...)[1]", "the expected number of changes")


def test_exact_posterior_of_no_changes_is_certain():
    number, place = exact_posterior(Model(COUNTS, 1.5, 0.4, np.array([-2.0])))
    assert_close(number, [1.0], "exact_posterior(K = 0)[0]", "nothing else is possible")
    assert_close(place, np.zeros(11), "exact_posterior(K = 0)[1]", "nothing else is possible")


def test_exact_posterior_of_as_many_changes_as_there_are_places():
    model = Model(np.array([1, 6, 2, 0]), 2.0, 1.0, np.array([0.0, -1.0, 0.5, 1.0]))
    sets, probability = enumerated(model)
    number, _ = exact_posterior(model)
    expected = np.bincount([len(places) for places in sets], probability)
    assert_close(number, expected, "exact_posterior(4 years, K = 3)[0]", "(8), by all 8 sets of places")


def test_exact_posterior_of_the_disasters_in_coal_mines():
    _, counts = coal_counts()
    model = Model(counts, 1.0, 1.0, np.zeros(3))
    number, _ = exact_posterior(model)
    segments = log_segments(model)
    one = segments[0, 1:112] + segments[1:112, 112]
    two = segments[0, 1:112, None] + segments[1:112, 1:112] + segments[None, 1:112, 112]
    both = [segments[0, 112], special.logsumexp(one) - np.log(111), special.logsumexp(two) - np.log(111 * 55)]
    assert_close(number, special.softmax(both), "exact_posterior(coal, K = 2)[0]", "all sets of places", rtol=1e-8)
    year = 1851 + exact_posterior(Model(counts, 1.0, 1.0, np.zeros(2)))[1].argmax() + 1
    assert year in (1890, 1891, 1892), f"exact_posterior finds a single change of the coal most probable before {year}"


def test_exact_posterior_survives_evidences_that_underflow():
    counts = np.repeat([400, 100, 300], [40, 30, 150])  # each year costs a factor of about a hundred
    number, place = exact_posterior(Model(counts, 1.0, 0.01, np.zeros(5)))
    assert_close(
        number[:2], np.zeros(2), "exact_posterior(rates 400, 100, 300)[0] of 0 and 1", "two changes", atol=1e-50
    )
    assert number.argmax() == 2, f"exact_posterior finds {number.argmax()} changes where the rate was 400, 100, 300"
    found = np.sort(np.argsort(place)[-2:]) + 1
    assert_close(found, [40, 70], "the two most probable places of exact_posterior", "where the rate changes")


# step, most often through the given sample, which repeats it

SMALL = Model(np.array([1, 0, 3, 5, 1, 2]), 1.5, 0.5, np.array([-0.5, 0.3, -0.4, 0.6]))


def test_step_returns_rates_that_change_where_it_says(rng):
    start = np.zeros((40, 11), dtype=bool)
    start[20:, 6] = True
    run = sample(MODEL, start, 15, rng=rng)
    shapes = run.change.shape, run.rate.shape, run.acceptance_rate.shape
    assert shapes == ((40, 15, 11), (40, 15, 12), (40,)), f"sample(40 chains, 15 draws) has arrays of shapes {shapes}"
    assert run.change.dtype == bool, f"the changes of sample are {run.change.dtype}, not true or false"
    wrong = np.count_nonzero((np.diff(run.rate, axis=2) != 0) != run.change)
    assert not wrong, f"at {wrong} places the rates of sample change where there is no change, or the reverse"
    assert not start[:20].any(), "sample changed the start that it was given"
    assert start[20:].sum() == 20, "sample changed the start that it was given"
    assert run.change.sum(axis=2).max() <= 4, "sample has more changes than K"


def test_step_counts_the_births_and_deaths_that_were_accepted(rng):
    start = states([0, 1, 2, 4] * 10).change
    run = sample(MODEL, start, 15, rng=rng)
    number = np.concatenate([start.sum(axis=1)[:, None], run.change.sum(axis=2)], axis=1)
    steps = np.diff(number, axis=1)
    assert abs(steps).max() == 1, f"sample changes the number of changes by up to {abs(steps).max()} in one step"
    rate = np.count_nonzero(steps, axis=1) / 15
    assert_close(run.acceptance_rate, rate, "sample(...).acceptance_rate", "the share of steps with another number")


def test_step_shifts_one_change_in_a_step(rng):
    run = sample(MODEL, states([2] * 60).change, 12, rng=rng)
    before, after = run.change[:, :-1], run.change[:, 1:]
    moved = (before != after).sum(axis=2)[before.sum(axis=2) == after.sum(axis=2)]
    assert set(np.unique(moved)) <= {0, 2}, (
        f"in steps that keep the number, up to {moved.max()} places of sample change"
    )
    assert (moved == 2).any(), "in 660 steps of sample no change moves to another place without birth or death"


def test_step_draws_all_rates_anew_at_each_step(rng):
    run = sample(MODEL, states([2] * 30).change, 8, rng=rng)
    same = np.count_nonzero(run.rate[:, 1:] == run.rate[:, :-1])
    assert not same, f"{same} rates of sample(30 chains, 20 draws) are the same as one step before"


def test_step_stays_in_the_posterior_where_it_starts_there(rng):
    sets, probability = enumerated(SMALL)
    change = np.zeros((len(sets), 5), dtype=bool)
    for row, places in zip(change, sets, strict=True):
        row[[c - 1 for c in places]] = True
    run = sample(SMALL, change[rng.choice(len(sets), N, p=probability)], 3, share=0.4, rng=rng)
    key = change @ 2 ** np.arange(5)
    counts = np.bincount(run.change[:, -1] @ 2 ** np.arange(5), minlength=32)[key]
    call = "the 26 sets of places after 3 steps of sample from exact ones"
    assert_frequencies(counts, probability, call, "their posterior")


def log_prior_of_rate(h):
    return stats.gamma.logpdf(h, 1.5, scale=1 / 0.5)


def middles(n):
    """The middles of n equal parts of the interval from 0 to 1."""
    return (np.arange(n) + 0.5) / n


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_step_gives_birth_as_often_as_it_should(share, rng):
    """From no change, the mean of b min(1, A) over the rate, the place and u is an integral in the plane for each place."""
    run = sample(SMALL, np.zeros((N, 5), dtype=bool), 1, share=share, rng=rng)
    h, u = np.meshgrid(stats.gamma.ppf(middles(200), 1.5 + 12, scale=1 / 6.5), middles(200))
    b, d = tries(SMALL, 0, share)
    accepted = []
    for c in range(1, 6):
        before, odds = SMALL.counts[:c].sum(), u / (1 - u)
        left, right = h * odds ** (1 - c / 6), h * odds ** (-c / 6)
        log_a = (
            log_prior_of_rate(left)
            + log_prior_of_rate(right)
            - log_prior_of_rate(h)
            + 2 * np.log(left + right)
            - np.log(h)
        )
        log_a += before * np.log(left / h) + (12 - before) * np.log(right / h) - c * left - (6 - c) * right + 6 * h
        log_a += SMALL.log_prior[1] - SMALL.log_prior[0] + np.log(d / b)
        accepted.append(np.exp(np.minimum(log_a, 0)).mean())
    call = f"births in one step of sample(share={share}) from no change"
    assert_frequency(run.change[:, 0].any(axis=1).sum(), N, b * np.mean(accepted), call, "b_0 and equation (5)")


def test_step_lets_die_as_often_as_it_should(rng):
    """From changes at both of two places, with counts that are symmetric, so that it does not matter which of them dies."""
    model = Model(np.array([4, 1, 4]), 1.5, 0.5, np.array([0.0, 0.4, 0.9]))
    run = sample(model, np.ones((N, 2), dtype=bool), 1, share=0.4, rng=rng)
    left, right = np.meshgrid(
        stats.gamma.ppf(middles(300), 5.5, scale=1 / 1.5), stats.gamma.ppf(middles(300), 2.5, scale=1 / 1.5)
    )
    h = np.sqrt(left * right)
    b, d = tries(model, 1, 0.4)
    log_a = (
        log_prior_of_rate(h) - log_prior_of_rate(left) - log_prior_of_rate(right) - 2 * np.log(left + right) + np.log(h)
    )
    log_a += 4 * np.log(h / left) + np.log(h / right) - 2 * h + left + right
    log_a += model.log_prior[1] - model.log_prior[2] - np.log(2) + np.log(2 * b / d)
    expected = d * np.exp(np.minimum(log_a, 0)).mean()
    count = np.count_nonzero(run.change[:, 0].sum(axis=1) == 1)
    assert_frequency(count, N, expected, "deaths in one step of sample from two changes", "d_2 and equation (5)")


def test_step_decides_for_each_chain_by_itself(rng):
    run = sample(MODEL, states([2] * 60).change, 12, rng=rng)
    steps = np.diff(run.change.sum(axis=2), axis=1)
    both = (steps == 1).any(axis=0) & (steps == -1).any(axis=0)
    assert both.any(), "in no step of sample has one chain a birth and another a death: all try the same kind at once"


def test_step_shifts_as_far_as_the_neighbours_allow(rng):
    model = Model(np.full(6, 2), 1.5, 0.5, np.array([-9.0, 0.0]))
    start = np.zeros((2000, 5), dtype=bool)
    start[:, 2] = True
    run = sample(model, start, 2, share=0.01, rng=rng)
    # Each place has a chance of the order of 1 in 5; none is missing among 2000 chains.
    seen = run.change[:, -1].any(axis=0)
    assert seen.all(), (
        f"chains of sample that start with a change after 3 of 6 years never have one after {np.flatnonzero(~seen) + 1}"
    )


STEEP = Model(np.array([1, 0, 2, 1, 9, 12, 8, 11]), 1.5, 0.3, np.array([0.0, 0.0]))


def test_step_has_rates_of_the_right_law_after_a_birth(rng):
    run = sample(STEEP, np.zeros((N, 7), dtype=bool), 1, rng=rng)
    place = run.change[:, 0].argmax(axis=1) + 1
    born = run.change[:, 0].any(axis=1)
    shape, rate = 1.5 + np.cumsum(STEEP.counts)[place - 1], 0.3 + place
    level = stats.gamma.cdf(run.rate[:, 0, 0], shape, scale=1 / rate)[born]
    call = "the distribution function of the first rate, after a birth in one step of sample, at that rate"
    assert_distribution(level, stats.uniform, call, "the gamma law of shape a + S and rate b + m")


def test_step_finds_the_change(rng):
    model = Model(np.repeat([1, 12, 1], [9, 12, 9]), 1.0, 0.3, np.zeros(6))
    run = sample(model, np.zeros((60, 29), dtype=bool), 60, rng=rng)
    found = run.change[:, 50:, [7, 8, 9, 19, 20, 21]].reshape(60, 10, 2, 3).any(axis=3).mean(axis=(0, 1))
    # The exact probability is above 0.99 for both.
    assert (found > 0.7).all(), f"sample finds the changes after 9 and 21 years in a share of {found.round(2)} of draws"


def test_step_says_which_births_and_deaths_were_accepted(rng):
    state = states([0, 1, 2, 4] * 20)
    after, accepted = step(MODEL, state, share=SHARE, rng=rng)
    changed = after.change.sum(axis=1) != state.change.sum(axis=1)
    assert accepted.shape == (80,), f"step(80 chains)[1] has shape {accepted.shape}"
    assert accepted.dtype == bool, f"step(...)[1] is {accepted.dtype}, not true or false"
    wrong = np.count_nonzero(accepted != changed)
    assert not wrong, (
        f"step(80 chains)[1] is wrong for {wrong} chains: it is true where the number of changes is another"
    )
    same = np.array_equal(state.change, states([0, 1, 2, 4] * 20).change)
    assert same and np.array_equal(state.rate, states([0, 1, 2, 4] * 20).rate), (
        "step changed the state that it was given"
    )


@pytest.mark.given
def test_sample_refuses_a_start_that_does_not_fit_and_no_draws(rng):
    for change in (np.zeros((2, 10), dtype=bool), np.zeros((2, 11)), np.ones((2, 11), dtype=bool)):
        with pytest.raises(ValueError, match="change must"):
            sample(MODEL, change, 3, rng=rng)
    with pytest.raises(ValueError, match="n_draws must"):
        sample(MODEL, np.zeros((2, 11), dtype=bool), 0, rng=rng)


# given


@pytest.mark.given
def test_neighbours_and_paint_and_pick(rng):
    change = np.array([[True, False, True, False], [False, False, False, False], [False, True, False, True]])
    begin, end = neighbours(change, np.array([3, 2, 1]))
    assert_close(np.stack([begin, end]), [[1, 0, 0], [5, 5, 2]], "neighbours(...)", "the nearest changes")
    painted = paint(np.ones((2, 4)), np.array([0, 2]), np.array([1, 4]), np.array([7.0, 8.0]))
    assert_close(painted, [[7, 1, 1, 1], [1, 1, 8, 8]], "paint(...)", "columns begin to end - 1")
    place = pick(np.tile([True, False, True, True], (N, 1)), rng=rng)
    assert_frequencies(np.bincount(place, minlength=5)[1:], [1 / 3, 0, 1 / 3, 1 / 3], "pick", "equal chances")


@pytest.mark.given
def test_accept_takes_what_is_sure_and_refuses_what_is_impossible(rng):
    here, there = states([0, 1, 2, 3]), states([2, 2, 2], seed=9)
    jump = Jump(there, np.array([5.0, -np.inf, 0.0]))
    state, accepted = accept(here, np.array([3, 0, 1]), jump, rng=rng)
    assert_close(accepted, [3, 1], "accept(...)[1]", "log A of 5, -inf and 0")
    assert_close(
        state.rate[[0, 1, 2, 3]], np.stack([here.rate[0], there.rate[2], here.rate[2], there.rate[0]]), "accept"
    )
    assert np.array_equal(here.change, states([0, 1, 2, 3]).change), "accept changed its state"


@pytest.mark.given
def test_log_segments_and_redraw_rates(rng):
    segments = log_segments(MODEL)
    for s, t in ((0, 12), (3, 7), (11, 12)):
        assert_close(segments[s, t], log_evidence(MODEL, (s, t)), f"log_segments(model)[{s}, {t}]", "M(s, t)")
    assert np.isneginf(segments[np.tril_indices(13)]).all(), "log_segments is not -inf where s is not below t"
    change = states([0, 2, 4]).change
    rate = redraw_rates(MODEL, change, rng=rng)
    assert np.array_equal(np.diff(rate, axis=1) != 0, change), "redraw_rates changes the rate at other places"


@pytest.mark.given
def test_birth_death_and_shift_refuse_places_that_they_cannot_use():
    state = states([4, 3])
    taken, free = (np.array([np.flatnonzero(row)[0] + 1 for row in rows]) for rows in (state.change, ~state.change))
    one = State(state.change[1:], state.rate[1:])
    for act, name in (
        (lambda: birth(MODEL, state, free, np.full(2, 0.5)), "state"),
        (lambda: birth(MODEL, one, taken[1:], np.full(1, 0.5)), "place"),
        (lambda: birth(MODEL, one, np.array([12]), np.full(1, 0.5)), "place"),
        (lambda: birth(MODEL, one, free[1:], np.full(1, 0.5), share=0.6), "share"),
        (lambda: death(MODEL, state, free), "place"),
        (lambda: death(MODEL, state, taken, share=0.0), "share"),
        (lambda: shift(MODEL, state, free, free), "place"),
        (lambda: shift(MODEL, state, taken, np.array([12, 12])), "to"),
    ):
        with pytest.raises(ValueError, match=f"{name} must"):
            act()


@pytest.mark.given
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"counts": np.array([1])}, "counts"),
        ({"counts": np.array([1, -1])}, "counts"),
        ({"shape": 0.0}, "shape"),
        ({"rate": np.inf}, "rate"),
        ({"log_prior": np.zeros(13)}, "log_prior"),
        ({"log_prior": np.array([0.0, -np.inf])}, "log_prior"),
    ],
)
def test_model_refuses_what_does_not_fit(change, name):
    fields = {"counts": COUNTS, "shape": 1.5, "rate": 0.4, "log_prior": np.zeros(3)}
    with pytest.raises(ValueError, match=f"{name} must"):
        Model(**{**fields, **change})
