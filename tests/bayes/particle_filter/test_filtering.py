"""Shared tests of bayes/particle_filter/filtering: run on the reference, and on the learner's file.

Where a model moves without chance, all numbers are compared exactly. What goes by chance is checked over independent runs
by 14 checks that a right solution fails with a probability of 1e-8 each or less, whatever its scheme of resampling.
"""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes.particle_filter.filtering import (
    Cloud,
    StateSpace,
    auxiliary_step,
    draw_backwards,
    first_cloud,
    run_filter,
    sir_step,
    sis_step,
    weighted_mean,
)
from mlpath.testing import assert_close, assert_frequencies, assert_frequency, assert_mean


@pytest.fixture
def rng():
    return np.random.default_rng(1993)


# A model that moves without chance: each state (place, speed) goes on by its speed, which halves


def ahead(states, *, rng=None):
    return np.column_stack([states[:, 0] + states[:, 1], states[:, 1] / 2])


def seen(states, observation):
    """The log likelihood of a place; off by a constant, as any density may be."""
    return -abs(states[:, 0] - observation) / 3 + 1.7


def spread(n, *, rng=None):
    places = np.arange(n) ** 1.5
    return np.column_stack([places, 1 + places / 7])


SURE = StateSpace(spread, ahead, lambda states, following: np.zeros(len(states)), seen)
CLOUD = Cloud(
    np.array([[0.5, 2.0], [1.5, -1.0], [4.0, 0.5], [7.0, 3.0], [2.5, 1.0]]),
    np.array([0.3, 0.15, 0.35, 0.0, 0.2]),
    -4.25,
)

# A linear model with normal noise, of which Kalman's filter knows everything

A, Q, H, R = np.array([[0.9, 0.4], [0.0, 0.7]]), np.array([0.5, 1.2]), np.array([1.0, -0.5]), 4.0
SERIES = np.array([1.2, -0.4, 2.5, 3.1, 0.3])


def noisy(states, *, rng):
    return states @ A.T + np.sqrt(Q) * rng.standard_normal(states.shape)


LINEAR = StateSpace(
    lambda n, *, rng: rng.standard_normal((n, 2)),
    noisy,
    lambda states, following: stats.norm.logpdf(following, states @ A.T, np.sqrt(Q)).sum(axis=1),
    lambda states, y: -((y - states @ H) ** 2) / (2 * R) - np.log(2 * np.pi * R) / 2,
)


def kalman(series):
    """Means and covariances of the filter and of the smoother, and the log evidence."""
    mean, covariance, log_evidence, filtered, predicted = np.zeros(2), np.eye(2), 0.0, [], []
    for t, y in enumerate(series):
        if t:
            mean, covariance = A @ mean, A @ covariance @ A.T + np.diag(Q)
        predicted.append((mean, covariance))
        scale = H @ covariance @ H + R
        log_evidence += stats.norm.logpdf(y, H @ mean, np.sqrt(scale))
        gain = covariance @ H / scale
        mean, covariance = mean + gain * (y - H @ mean), covariance - np.outer(gain, gain) * scale
        filtered.append((mean, covariance))
    smoothed = [filtered[-1][0]]
    for (mean, covariance), (ahead_mean, ahead_covariance) in zip(filtered[-2::-1], predicted[:0:-1]):
        back = covariance @ A.T @ np.linalg.inv(ahead_covariance)
        smoothed.append(mean + back @ (smoothed[-1] - ahead_mean))
    return np.array([mean for mean, _ in filtered]), np.array(smoothed[::-1]), log_evidence


FILTERED, SMOOTHED, LOG_EVIDENCE = kalman(SERIES)


def log_sum(x):
    return float(np.logaddexp.reduce(x))


def frozen(cloud):
    return cloud.states.copy(), cloud.weights.copy(), cloud.log_evidence


def assert_untouched(before, cloud, call):
    assert_close((cloud.states, cloud.weights), before[:2], f"the cloud after {call}", "what it was before")


def assert_same_particles(found, expected, call, because):
    """Two clouds with the same particles, in any order."""
    mine, right = (np.column_stack([cloud.states, cloud.weights]) for cloud in (found, expected))
    mine, right = (rows[np.lexsort(rows.T[::-1])] for rows in (mine, right))
    assert_close(mine[:, :-1], right[:, :-1], f"{call}.states, sorted", because)
    assert_close(mine[:, -1], right[:, -1], f"{call}.weights, sorted by the states", because)
    assert_close(found.log_evidence, expected.log_evidence, f"{call}.log_evidence", because)


# weighted_mean


def test_weighted_mean_is_the_weighted_sum_of_each_coordinate():
    expected = np.array([0.3 * 0.5 + 0.15 * 1.5 + 0.35 * 4 + 0.2 * 2.5, 0.3 * 2 - 0.15 + 0.35 * 0.5 + 0.2])
    assert_close(weighted_mean(CLOUD), expected, "weighted_mean(five particles)", "equation (2)")


# first_cloud


def test_first_cloud_weighs_the_first_states_by_their_likelihood():
    cloud = first_cloud(SURE, 3.0, 6, rng=np.random.default_rng(0))
    states = spread(6)
    log_likelihood = seen(states, 3.0)
    call = "first_cloud(model, 3.0, 6)"
    assert_close(cloud.states, states, f"{call}.states", "model.initial")
    assert_close(cloud.weights, np.exp(log_likelihood - log_sum(log_likelihood)), f"{call}.weights", "equation (3)")
    assert_close(cloud.log_evidence, log_sum(log_likelihood) - np.log(6), f"{call}.log_evidence", "equation (3)")


@pytest.mark.parametrize("shift", [-3000.0, 3000.0])
def test_first_cloud_survives_likelihoods_of_any_size(shift):
    model = StateSpace(spread, ahead, SURE.log_transition, lambda states, y: seen(states, y) + shift)
    cloud, plain = (first_cloud(m, 3.0, 6, rng=np.random.default_rng(0)) for m in (model, SURE))
    call = f"first_cloud with log likelihoods around {shift:g}"
    assert_close(cloud.weights, plain.weights, f"{call}: weights", "equation (3): a factor cancels", rtol=1e-8)
    assert_close(cloud.log_evidence, plain.log_evidence + shift, f"{call}: log_evidence", "equation (3)", rtol=1e-10)


def test_first_cloud_takes_its_randomness_from_its_generator():
    draw = [first_cloud(LINEAR, 0.3, 4, rng=np.random.default_rng(seed)).states for seed in (5, 5, 6)]
    assert_close(draw[1], draw[0], "first_cloud with the same seed for the second time", "the states of the first time")
    assert (draw[2] != draw[0]).any(), "first_cloud returned the same states for two seeds"


def test_first_cloud_refuses_an_observation_that_is_impossible_everywhere():
    model = StateSpace(spread, ahead, SURE.log_transition, lambda states, y: np.full(len(states), -np.inf))
    with pytest.raises(ValueError, match="must"):
        first_cloud(model, 1.0, 5, rng=np.random.default_rng(0))


@pytest.mark.given
def test_first_cloud_refuses_to_have_no_particles():
    with pytest.raises(ValueError, match="n_particles must"):
        first_cloud(SURE, 1.0, 0, rng=np.random.default_rng(0))


# sis_step


def after_sis(cloud, observation):
    states = ahead(cloud.states)
    with np.errstate(divide="ignore"):
        joint = np.log(cloud.weights) + seen(states, observation)
    return Cloud(states, np.exp(joint - log_sum(joint)), cloud.log_evidence + log_sum(joint))


def test_sis_step_moves_and_reweighs_each_particle():
    before = frozen(CLOUD)
    found, expected = sis_step(SURE, CLOUD, 2.0, rng=np.random.default_rng(0)), after_sis(CLOUD, 2.0)
    assert_close(found.states, expected.states, "sis_step(...).states", "the transition, in the same order")
    assert_close(found.weights, expected.weights, "sis_step(...).weights", "equation (4)")
    assert_close(found.log_evidence, expected.log_evidence, "sis_step(...).log_evidence", "-4.25 plus the log of (4)")
    assert_untouched(before, CLOUD, "sis_step")


def test_sis_step_survives_tiny_likelihoods():
    model = StateSpace(spread, ahead, SURE.log_transition, lambda states, y: seen(states, y) - 5000)
    found, expected = sis_step(model, CLOUD, 2.0, rng=np.random.default_rng(0)), after_sis(CLOUD, 2.0)
    call = "sis_step with log likelihoods around -5000"
    assert_close(found.weights, expected.weights, f"{call}: weights", "equation (4): a factor cancels", rtol=1e-8)
    assert_close(found.log_evidence, expected.log_evidence - 5000, f"{call}: log_evidence", "equation (4)", rtol=1e-10)


def test_sis_step_moves_by_the_model_with_its_generator():
    first, again, other = (sis_step(LINEAR, CLOUD, 0.5, rng=np.random.default_rng(seed)).states for seed in (1, 1, 2))
    assert_close(again, first, "sis_step with the same seed for the second time", "the states of the first time")
    assert (first != other).all(), "sis_step moved particles by the same amounts for two seeds"


# sir_step


def test_sir_step_leaves_even_weights_as_they_are():
    # The effective sample size of CLOUD is 3.64 of 5.
    found = sir_step(SURE, CLOUD, 2.0, threshold=0.7, rng=np.random.default_rng(0))
    call = "sir_step(threshold=0.7) of a cloud with 3.64 effective of 5 particles"
    assert_same_particles(found, after_sis(CLOUD, 2.0), call, "equation (4), without resampling")
    never = sir_step(SURE, Cloud(CLOUD.states, np.eye(5)[2], 0.0), 2.0, threshold=0.0, rng=np.random.default_rng(0))
    expected = after_sis(Cloud(CLOUD.states, np.eye(5)[2], 0.0), 2.0)
    assert_same_particles(
        never, expected, "sir_step(threshold=0) of a cloud with one effective particle", "equation (4)"
    )


def ancestors_of(states, cloud, call):
    """Which particle of the cloud each state came from: `ahead` tells."""
    back = np.column_stack([states[:, 0] - 2 * states[:, 1], 2 * states[:, 1]])
    distance = abs(back[:, None, :] - cloud.states[None]).sum(axis=2)
    assert distance.min(axis=1).max() < 1e-9, f"{call} returned states that follow from no particle of the cloud"
    return distance.argmin(axis=1)


@pytest.mark.parametrize("threshold", [0.75, 1.01])
def test_sir_step_resamples_uneven_weights_and_weighs_anew(threshold, rng):
    call = f"sir_step(threshold={threshold}) of a cloud with 3.64 effective of 5 particles"
    before = frozen(CLOUD)
    for _ in range(5):
        found = sir_step(SURE, CLOUD, 2.0, threshold=threshold, rng=rng)
        dead = (ancestors_of(found.states, CLOUD, call) == 3).sum()
        assert found.states.shape == (5, 2) and not dead, f"{call} kept a particle of weight zero, or lost one"
        log_likelihood = seen(found.states, 2.0)
        expected = np.exp(log_likelihood - log_sum(log_likelihood))
        assert_close(found.weights, expected, f"{call}: weights", "(4) after (5): the likelihoods, normalised")
        assert_close(
            found.log_evidence, -4.25 + log_sum(log_likelihood) - np.log(5), f"{call}: log_evidence", "(4) after (5)"
        )
    assert_untouched(before, CLOUD, "sir_step")


def test_sir_step_draws_ancestors_by_the_weights(rng):
    counts = np.zeros((600, 5))
    for row in counts:
        found = sir_step(SURE, CLOUD, 2.0, threshold=2.0, rng=rng)
        row += np.bincount(ancestors_of(found.states, CLOUD, "sir_step"), minlength=5)
    assert_mean(
        counts,
        5 * CLOUD.weights,
        "the offspring in sir_step(threshold=2)",
        "the weights: (3) of resampling",
        error=1e-9,
    )


def test_sir_step_has_a_threshold_of_one_half():
    uneven = Cloud(CLOUD.states, np.array([0.6, 0.1, 0.1, 0.1, 0.1]), 0.0)  # 2.5 effective particles: exactly a half
    found = sir_step(SURE, uneven, 2.0, rng=np.random.default_rng(0))
    assert_same_particles(found, after_sis(uneven, 2.0), "sir_step with 2.5 effective of 5 particles", "(4): not below")
    worse = Cloud(CLOUD.states, np.array([0.62, 0.1, 0.1, 0.1, 0.08]), 0.0)
    found = sir_step(SURE, worse, 2.0, rng=np.random.default_rng(0))
    kept = len(set(ancestors_of(found.states, worse, "sir_step").tolist()))
    assert kept < 5, "sir_step with 2.4 effective of 5 particles kept all of them: it should resample below 0.5"


@pytest.mark.given
@pytest.mark.parametrize("threshold", [-0.1, np.nan])
def test_sir_step_refuses_a_threshold_that_is_none(threshold):
    with pytest.raises(ValueError, match="threshold must"):
        sir_step(SURE, CLOUD, 2.0, threshold=threshold, rng=np.random.default_rng(0))


# auxiliary_step


def test_auxiliary_step_with_a_perfect_guess_has_equal_weights_and_no_noise_in_the_evidence(rng):
    found = auxiliary_step(SURE, CLOUD, 2.0, predict=ahead, rng=rng)
    call = "auxiliary_step with a perfect guess"
    assert_close(found.weights, np.full(5, 0.2), f"{call}: weights", "equation (7): all v are 1")
    assert_close(found.log_evidence, after_sis(CLOUD, 2.0).log_evidence, f"{call}: log_evidence", "equation (8)")


def guess(states):
    """Too little of the speed."""
    return states + np.array([0.6, 0.0]) * states[:, 1:]


def test_auxiliary_step_takes_back_in_the_second_stage_what_the_first_favoured(rng):
    before = frozen(CLOUD)
    with np.errstate(divide="ignore"):
        first = log_sum(np.log(CLOUD.weights) + seen(guess(CLOUD.states), 2.0))
    for _ in range(5):
        found = auxiliary_step(SURE, CLOUD, 2.0, predict=guess, rng=rng)
        call = "auxiliary_step with a guess"
        origin = CLOUD.states[ancestors_of(found.states, CLOUD, call)]
        v = seen(found.states, 2.0) - seen(guess(origin), 2.0)
        assert_close(found.weights, np.exp(v - log_sum(v)), f"{call}: weights", "equation (7)")
        expected = -4.25 + first + log_sum(v) - np.log(5)
        assert_close(found.log_evidence, expected, f"{call}: log_evidence", "-4.25 plus the log of (8)")
    assert_untouched(before, CLOUD, "auxiliary_step")


def test_auxiliary_step_draws_ancestors_by_the_first_stage(rng):
    counts = np.zeros((600, 5))
    for row in counts:
        found = auxiliary_step(SURE, CLOUD, 2.0, predict=guess, rng=rng)
        row += np.bincount(ancestors_of(found.states, CLOUD, "auxiliary_step"), minlength=5)
    promise = CLOUD.weights * np.exp(seen(guess(CLOUD.states), 2.0))
    assert_mean(counts, 5 * promise / promise.sum(), "the offspring in auxiliary_step", "equation (6)", error=1e-9)


def test_auxiliary_step_survives_tiny_likelihoods(rng):
    model = StateSpace(spread, ahead, SURE.log_transition, lambda states, y: seen(states, y) - 5000)
    found = auxiliary_step(model, CLOUD, 2.0, predict=ahead, rng=rng)
    expected = after_sis(CLOUD, 2.0).log_evidence - 5000
    assert_close(
        found.log_evidence, expected, "auxiliary_step with log likelihoods of -5000", "equation (8)", rtol=1e-10
    )


# run_filter


def test_run_filter_makes_a_step_for_each_observation_but_the_first():
    clouds = run_filter(SURE, [3.0, 1.0, 4.0, 1.5], 6, step=sis_step, rng=np.random.default_rng(0))
    expected = [first_cloud(SURE, 3.0, 6, rng=np.random.default_rng(0))]
    for observation in (1.0, 4.0, 1.5):
        expected.append(after_sis(expected[-1], observation))
    assert len(clouds) == 4, f"run_filter of four observations returned {len(clouds)} clouds"
    for t, (cloud, right) in enumerate(zip(clouds, expected)):
        assert_same_particles(cloud, right, f"run_filter(step=sis_step)[{t}]", "(3), then (4) again and again")


def test_run_filter_takes_any_step_and_any_kind_of_observations():
    calls = []

    def step(model, cloud, observation, *, rng):
        calls.append(observation)
        return Cloud(cloud.states, cloud.weights, cloud.log_evidence + 1)

    observations = [3.0, 7.0, "a word", None]
    clouds = run_filter(SURE, observations, 5, step=step, rng=np.random.default_rng(0))
    assert calls == observations[1:], f"run_filter made steps for the observations {calls}, expected {observations[1:]}"
    gained = clouds[-1].log_evidence - clouds[0].log_evidence
    assert_close(gained, 3.0, "what three steps added to the log evidence in run_filter", "its step")
    assert len(run_filter(SURE, [1.0], 5, step=step, rng=np.random.default_rng(0))) == 1


STEPS = {
    "sis_step": sis_step,
    "sir_step": sir_step,
    "sir_step, always resampling": partial(sir_step, threshold=2.0),
    "auxiliary_step": partial(auxiliary_step, predict=lambda states: states @ A.T),
}


@pytest.mark.parametrize("name", STEPS)
def test_run_filter_estimates_the_evidence_without_bias(name, rng):
    ratios = [
        np.exp(run_filter(LINEAR, SERIES, 200, step=STEPS[name], rng=rng)[-1].log_evidence - LOG_EVIDENCE)
        for _ in range(120)
    ]
    # The ratios have standard deviations of 0.08 and skewnesses of 0.2 at most: 120 are enough.
    assert_mean(ratios, 1.0, f"the evidence by {name} over the exact one", "Kalman's filter: it is unbiased")


@pytest.mark.parametrize("name", list(STEPS)[1:])
def test_run_filter_follows_kalmans_filter(name, rng):
    runs = [run_filter(LINEAR, SERIES, 400, step=STEPS[name], rng=rng) for _ in range(40)]
    means = np.array([[weighted_mean(cloud) for cloud in clouds] for clouds in runs])
    # The bias of a weighted mean is some 1 / 400, a twentieth of what 40 runs allow.
    assert_mean(means, FILTERED, f"the filtered means by {name}", "Kalman's filter")


@pytest.mark.given
def test_run_filter_refuses_a_series_of_nothing():
    with pytest.raises(ValueError, match="observations must"):
        run_filter(SURE, [], 5, rng=np.random.default_rng(0))


# draw_backwards

PLACES, LATER = np.array([[0.0], [1.0], [2.5], [4.0]]), np.array([[0.5], [3.0], [1.0]])
SHARES, LATER_SHARES = np.array([0.1, 0.4, 0.0, 0.5]), np.array([0.5, 0.3, 0.2])


def up(states, following):
    """Steps are about +1 wide: the densities forth and back differ."""
    return stats.norm.logpdf(following - states, 1.0, 1.3).sum(axis=1)


def test_draw_backwards_goes_back_by_filter_weights_and_transition(rng):
    model = StateSpace(spread, ahead, up, seen)
    paths = draw_backwards(model, [Cloud(PLACES, SHARES, 0.0), Cloud(LATER, LATER_SHARES, 0.0)], 1500, rng=rng)
    assert paths.shape == (1500, 2, 1), (
        f"draw_backwards(1500 paths) returned shape {paths.shape}, expected (1500, 2, 1)"
    )
    # Its densities: from each place (rows) to each later one (columns).
    forth = SHARES[:, None] * stats.norm.pdf(LATER[:, 0] - PLACES, 1.0, 1.3)
    joint = LATER_SHARES * forth / forth.sum(axis=0)
    start, end = (np.argmax(paths[:, t] == places[:, 0], axis=1) for t, places in ((0, PLACES), (1, LATER)))
    shares = np.bincount(end, minlength=3)
    assert_frequencies(shares, LATER_SHARES, "the last states of draw_backwards", "the last weights")
    counts = np.bincount(3 * start + end, minlength=12)
    assert_frequencies(counts, joint.ravel(), "pairs of first and last state in draw_backwards", "equation (9)")


def test_draw_backwards_keeps_paths_together_over_many_steps(rng):
    """Each particle leads to the next one alone: the end of a path tells all of it."""

    def climb(states, following):
        return np.where((states + 1 == following).all(axis=1), 0.0, -np.inf)

    states = np.column_stack([np.arange(4.0), 10 + np.arange(4.0)])
    weights = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.25, 0.35, 0.1, 0.3]])
    order = [np.array([2, 0, 1, 3]), np.arange(4), np.array([1, 3, 0, 2])]
    clouds = [Cloud((states + t)[order[t]], row, 0.0) for t, row in enumerate(weights)]
    paths = draw_backwards(StateSpace(spread, ahead, climb, seen), clouds, 300, rng=rng)
    assert paths.shape == (300, 3, 2), f"draw_backwards(300 paths) returned shape {paths.shape}, expected (300, 3, 2)"
    steps = np.diff(paths, axis=1)
    wrong = (steps != 1).any(axis=(1, 2))
    assert not wrong.any(), (
        "where each particle can go to the one above it only, draw_backwards returned the path "
        f"{paths[wrong][0].tolist()}"
    )
    ends = (paths[:, -1, 0] == 5.0).sum()
    assert_frequency(ends, 300, 0.35, "paths of draw_backwards that end at the particle (5, 15)", "the last weights")


def test_draw_backwards_of_one_cloud_draws_by_its_weights(rng):
    paths = draw_backwards(SURE, [CLOUD], 400, rng=rng)
    assert paths.shape == (400, 1, 2), f"draw_backwards of one cloud returned shape {paths.shape}, expected (400, 1, 2)"
    count = (paths[:, 0, 0] == 4.0).sum()
    assert_frequency(count, 400, 0.35, "paths of draw_backwards that are the third particle", "its weight")


def test_draw_backwards_agrees_with_the_exact_smoother(rng):
    means = []
    for _ in range(25):
        clouds = run_filter(LINEAR, SERIES, 150, rng=rng)
        means.append(draw_backwards(LINEAR, clouds, 8, rng=rng).mean(axis=0))
    assert_mean(means, SMOOTHED, "the smoothed means by draw_backwards", "the smoother of Rauch, Tung and Striebel")


def test_draw_backwards_leaves_the_clouds_alone(rng):
    clouds = [CLOUD, sis_step(SURE, CLOUD, 2.0, rng=rng)]
    before = [frozen(cloud) for cloud in clouds]
    draw_backwards(SURE, clouds, 7, rng=rng)
    for old, cloud in zip(before, clouds):
        assert_untouched(old, cloud, "draw_backwards")


@pytest.mark.given
def test_draw_backwards_refuses_no_clouds_and_no_paths(rng):
    with pytest.raises(ValueError, match="clouds must"):
        draw_backwards(SURE, [], 5, rng=rng)
    with pytest.raises(ValueError, match="n_paths must"):
        draw_backwards(SURE, [CLOUD], 0, rng=rng)
