"""Shared tests of optim/online_learning: run on the reference, and on the learner's file.

Nothing here goes by chance: bounds that theory promises for every sequence are tried on sequences that are drawn, listed in
full or chosen by an adversary, and hold but for rounding, for which 1e-9 is allowed.
"""

from functools import cache
from itertools import product
from math import comb, log, sqrt

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from mlpath.optim.online_learning import (
    Boosted,
    Stump,
    adaboost,
    best_stump,
    descent_step_sizes,
    hedge,
    hedge_step_sizes,
    hedge_weights,
    margins,
    online_gradient_descent,
    regret,
)
from mlpath.optim.projected_gradient.projections import project_ball, project_simplex
from mlpath.testing import assert_close

LOSSES = np.array([[0.2, 0.9, 0.4], [0.7, 0.1, 1.0], [0.0, 0.6, 0.3], [0.8, 0.5, 0.05], [0.35, 1.0, 0.6]])


@pytest.fixture
def rng():
    return np.random.default_rng(1997)


@cache
def tumours():
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    return features.astype(float), 2.0 * labels - 1


def tree(features, labels, weights):
    """A weak learner: scikit-learn's tree of depth 1, which splits by another criterion than `best_stump`."""
    return DecisionTreeClassifier(max_depth=1, random_state=0).fit(features, labels, sample_weight=weights).predict


def by_hand(losses, step_size, t):
    """The weights of round t from nothing but the definition."""
    powers = np.exp(-step_size * losses[:t].sum(axis=0))
    return powers / powers.sum()


# hedge_weights


def test_hedge_weights_fall_exponentially_with_the_losses():
    totals = np.array([2.3, 0.4, 1.1, 3.0])
    powers = np.array([np.exp(-0.7 * 2.3), np.exp(-0.7 * 0.4), np.exp(-0.7 * 1.1), np.exp(-0.7 * 3.0)])
    found = hedge_weights(totals, 0.7)
    assert_close(found, powers / powers.sum(), "hedge_weights([2.3, 0.4, 1.1, 3], 0.7)", "equation (2)")
    assert_close(totals, [2.3, 0.4, 1.1, 3.0], "the totals, afterwards,", "the docstring: not changed", rtol=0)


def test_hedge_weights_of_many_rounds_have_a_step_size_each():
    totals = np.cumsum(LOSSES, axis=0)
    steps = np.array([0.5, 2.0, 0.0, 1.3, 0.9])
    expected = [np.exp(-s * row) / np.exp(-s * row).sum() for s, row in zip(steps, totals, strict=True)]
    assert_close(hedge_weights(totals, steps), expected, "hedge_weights of 5 rounds of 3 experts", "equation (2)")
    expected = [np.exp(-1.7 * row) / np.exp(-1.7 * row).sum() for row in totals]
    assert_close(hedge_weights(totals, 1.7), expected, "hedge_weights of 5 rounds, one step size,", "equation (2)")
    games = np.stack([totals, totals[::-1] ** 2])
    expected = [hedge_weights(games[0], steps), hedge_weights(games[1], 2 * steps)]
    found = hedge_weights(games, np.stack([steps, 2 * steps]))
    assert_close(found, expected, "hedge_weights of two games of 5 rounds", "those of each game")


def strictly(totals, step_size=1.0):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        return hedge_weights(totals, step_size)


def test_hedge_weights_survive_large_totals():
    expected = np.array([np.exp(-2), 1, np.exp(-1)]) / (1 + np.exp(-1) + np.exp(-2))
    for shift in (1e5, -1e5, 1e12):
        found = strictly(shift + np.array([3.0, 1.0, 2.0]))
        assert_close(found, expected, f"hedge_weights([3, 1, 2] + {shift:g}, 1)", "(2): only differences count")


def test_hedge_weights_survive_large_differences():
    found = strictly(np.array([1e5, 1.0, 2e5, 0.0]), 2.0)
    expected = np.array([0, np.exp(-2), 0, 1]) / (1 + np.exp(-2))
    assert_close(found, expected, "hedge_weights([1e5, 1, 2e5, 0], 2)", "equation (2)", atol=1e-300)


def test_hedge_weights_survive_rounds_of_different_size():
    found = strictly(np.array([[0.5, 0.0], [1e5, 1e5 + 0.5], [-1e5, -1e5]]), 2.0)
    expected = [
        [np.exp(-1) / (1 + np.exp(-1)), 1 / (1 + np.exp(-1))],
        [1 / (1 + np.exp(-1)), np.exp(-1) / (1 + np.exp(-1))],
    ]
    assert_close(found, [*expected, [0.5, 0.5]], "hedge_weights of rounds near 0, 1e5 and -1e5", "equation (2)")


def test_hedge_weights_are_equal_without_a_step_size_or_a_difference():
    assert_close(hedge_weights(np.array([0.3, 5.0, 1e6, -2.0]), 0.0), np.full(4, 0.25), "hedge_weights(..., 0)", "(2)")
    assert_close(hedge_weights(np.full(5, 7.7), 3.0), np.full(5, 0.2), "hedge_weights of equal totals", "(2)")


# hedge_step_sizes


def test_hedge_step_sizes_for_a_known_number_of_rounds_are_one_number_repeated():
    found = hedge_step_sizes(6, 5, anytime=False)
    assert_close(found, np.full(6, sqrt(8 * log(5) / 6)), "hedge_step_sizes(6, 5, anytime=False)", "equation (5)")


def test_hedge_step_sizes_for_any_number_of_rounds_fall():
    expected = [2 * sqrt(log(7) / t) for t in (1, 2, 3, 4, 5)]
    assert_close(hedge_step_sizes(5, 7, anytime=True), expected, "hedge_step_sizes(5, 7, anytime=True)", "equation (6)")


def test_hedge_step_sizes_make_the_bound_4_what_5_and_6_say():
    for n_rounds, n_experts in ((50, 2), (1000, 30)):
        fixed, falling = (hedge_step_sizes(n_rounds, n_experts, anytime=anytime) for anytime in (False, True))
        bound = log(n_experts) / fixed[-1] + fixed.sum() / 8
        assert_close(bound, sqrt(n_rounds * log(n_experts) / 2), "the bound (4) with the fixed step size", "(5)")
        bound, allowed = log(n_experts) / falling[-1] + falling.sum() / 8, sqrt(n_rounds * log(n_experts))
        assert 0.9 * allowed < bound <= allowed, (
            f"with falling steps (4) is {bound:.4f}; (6) says {allowed:.4f} at most"
        )


def test_hedge_step_sizes_of_a_single_expert_are_zero():
    for anytime in (False, True):
        assert_close(hedge_step_sizes(3, 1, anytime=anytime), np.zeros(3), "hedge_step_sizes(3, 1)", "ln 1 = 0")


# hedge


def test_hedge_weighs_each_round_by_the_rounds_before():
    found = hedge(LOSSES, 1.4)
    expected = [by_hand(LOSSES, 1.4, t) for t in range(5)]
    assert_close(found, expected, "hedge of 5 rounds, step size 1.4,", "equation (2)")
    assert_close(found[0], np.full(3, 1 / 3), "the first round's weights", "no losses are known")


def test_hedge_uses_each_rounds_step_size_for_the_whole_past():
    steps = np.array([3.0, 2.0, 1.1, 0.6, 0.5])
    expected = [by_hand(LOSSES, steps[t], t) for t in range(5)]
    assert_close(hedge(LOSSES, steps), expected, f"hedge with step sizes {steps}", "equation (2)")


def test_hedge_knows_nothing_of_the_future(rng):
    losses = rng.random((40, 6))
    other = np.vstack([losses[:17], rng.random((23, 6))])
    steps = hedge_step_sizes(40, 6, anytime=True)
    found, changed, cut = hedge(losses, steps), hedge(other, steps), hedge(losses[:17], steps[:17])
    assert_close(changed[:18], found[:18], "the weights up to round 18, after a change of losses from there,", "(2)")
    assert_close(cut, found[:17], "the weights of the first 17 rounds alone", "those of the longer game")
    assert abs(changed[18:] - found[18:]).max() > 0.01, "later weights should see the change"


def test_hedge_survives_a_hundred_thousand_rounds():
    losses = np.tile([1.0, 0.9, 1.0], (100_000, 1))
    losses[:, 2] = np.arange(100_000) % 2
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        weights = hedge(losses, 0.5)
    assert_close(weights.sum(axis=1), np.ones(100_000), "the sums of the weights of 100000 rounds", "equation (2)")
    assert_close(weights[-1], [0.0, 0.0, 1.0], "the last weights", "the third expert leads by 40000", atol=1e-100)
    assert_close(losses[5], [1.0, 0.9, 1.0], "the losses, afterwards,", "the docstring: they are not changed", rtol=0)


def test_hedge_of_one_round_and_of_one_expert():
    assert_close(hedge(np.array([[0.3, 0.1]]), 1.0), [[0.5, 0.5]], "hedge of one round", "no losses are known")
    assert_close(hedge(LOSSES[:, :1], 1.0), np.ones((5, 1)), "hedge of one expert", "there is no other")


@pytest.mark.given
def test_hedge_refuses_what_it_cannot_play():
    for losses in (np.ones(3), np.ones((0, 3)), np.array([[np.nan, 1.0]])):
        with pytest.raises(ValueError, match="losses"):
            hedge(losses, 1.0)
    for steps in (-1.0, np.nan, np.ones(4), np.array([1.0, 1.0, np.inf, 1.0, 1.0])):
        with pytest.raises(ValueError, match="step_sizes"):
            hedge(LOSSES, steps)


# regret


def test_regret_compares_with_the_best_expert_so_far():
    weights = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.0, 0.5, 0.5], [0.6, 0.1, 0.3]])
    ours = np.cumsum([0.45, 0.25, 0.30, 0.275, 0.49])
    best = [0.2, 0.9, 0.9, 1.7, 2.05]  # always the first expert: the third ends with 2.35
    found = regret(LOSSES, weights)
    assert_close(found, ours - best, "regret of 5 rounds", "equation (1)", atol=1e-12)
    swapped = np.array([[0.2, 0.9], [0.9, 0.1], [0.1, 1.0]])
    found = regret(swapped, np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]))
    expected = [0.55 - 0.2, 0.85 - 1.0, 0.95 - 1.2]  # the leader changes, and changes back
    assert_close(found, expected, "regret of 3 rounds in which the leader changes", "equation (1)", atol=1e-12)


def test_regret_of_following_one_expert_is_not_negative_and_zero_for_the_best(rng):
    losses = rng.random((60, 5))
    best = losses.sum(axis=0).argmin()
    for i in range(5):
        found = regret(losses, np.tile(np.eye(5)[i], (60, 1)))
        assert (found > -1e-12).all(), (
            f"following expert {i} has the regret {found.min()}: (1) has a minimum over experts"
        )
        assert (abs(found[-1]) < 1e-9) == (i == best), f"following expert {i} ends with {found[-1]}; the best is {best}"


@pytest.mark.parametrize("n_rounds", [1, 5, 8])
def test_regret_against_all_coin_tosses_does_not_depend_on_what_is_played(n_rounds):
    # two opposite experts, all 2^T sequences: on average we lose T / 2, and the best expert min(K, T - K)
    steps = hedge_step_sizes(n_rounds, 2, anytime=True)
    total = 0.0
    for tosses in product((0.0, 1.0), repeat=n_rounds):
        losses = np.array([[toss, 1 - toss] for toss in tosses])
        total += regret(losses, hedge(losses, steps))[-1]
    best = sum(comb(n_rounds, k) * min(k, n_rounds - k) for k in range(n_rounds + 1)) / 2**n_rounds
    call = f"the mean regret of hedge over all {2**n_rounds} sequences of coin tosses"
    assert_close(total / 2**n_rounds, n_rounds / 2 - best, call, "what any play has", rtol=1e-9)


@pytest.mark.parametrize("n_experts", [2, 3])
def test_regret_of_hedge_keeps_its_bounds_on_every_sequence(n_experts):
    n_rounds = 4 if n_experts == 2 else 3
    fixed, falling = (hedge_step_sizes(n_rounds, n_experts, anytime=anytime) for anytime in (False, True))
    rows, worst = list(product((0.0, 1.0), repeat=n_experts)), -1.0
    for sequence in product(rows, repeat=n_rounds):
        losses = np.array(sequence)
        worst = max(worst, regret(losses, hedge(losses, fixed))[-1])
        along = regret(losses, hedge(losses, falling)) / np.sqrt(np.arange(1, n_rounds + 1) * log(n_experts))
        assert along.max() <= 1 + 1e-9, f"losses {sequence}: the regret is {along.max():.4f} times the bound (6)"
    bound = sqrt(n_rounds * log(n_experts) / 2)
    assert 0.6 * bound < worst <= bound, (
        f"the worst regret of all sequences is {worst:.4f}; (5) says {bound:.4f} at most"
    )


@pytest.mark.parametrize("anytime", [False, True])
def test_regret_of_hedge_keeps_its_bounds_against_an_adversary(anytime, rng):
    n_rounds = 300
    for n_experts in (2, 3, 20):
        steps = hedge_step_sizes(n_rounds, n_experts, anytime=anytime)
        sequences = {
            "drawn": rng.random((n_rounds, n_experts)),
            "tossed": 1.0 * (rng.random((n_rounds, n_experts)) < 0.5),
        }
        totals = np.zeros(n_experts)  # the adversary hits whoever has the largest weight
        sequences["chosen"] = np.zeros((n_rounds, n_experts))
        for t in range(n_rounds):
            sequences["chosen"][t, hedge_weights(totals, steps[t]).argmax()] = 1.0
            totals += sequences["chosen"][t]
        sequences["late"] = np.vstack([sequences["chosen"][:150], np.eye(n_experts)[np.zeros(150, int)]])
        for name, losses in sequences.items():
            found = regret(losses, hedge(losses, steps))
            rounds = np.arange(1, n_rounds + 1)
            bound = log(n_experts) / steps + np.cumsum(steps) / 8
            said = f"{n_experts} experts, losses {name}, anytime={anytime}: after some round the regret exceeds (4) by"
            assert (found <= bound + 1e-9).all(), f"{said} {(found - bound).max():.4f}"
            last = sqrt(n_rounds * log(n_experts) / (1 if anytime else 2))
            assert found[-1] <= last, f"{n_experts} experts, losses {name}: regret {found[-1]:.3f}, bound {last:.3f}"
            if anytime:
                assert (found <= np.sqrt(rounds * log(n_experts)) + 1e-9).all(), (
                    f"losses {name}: (6) is broken on the way"
                )


# descent_step_sizes


def test_descent_step_sizes_without_curvature_fall_as_the_root():
    found = descent_step_sizes(5, diameter=3.5, gradient_bound=0.8)
    expected = [3.5 / (0.8 * sqrt(t)) for t in (1, 2, 3, 4, 5)]
    assert_close(found, expected, "descent_step_sizes(5, diameter=3.5, gradient_bound=0.8)", "equation (9)")


def test_descent_step_sizes_with_curvature_need_nothing_else():
    expected = [1 / (0.4 * t) for t in (1, 2, 3, 4, 5, 6)]
    for diameter, bound in ((3.5, 0.8), (20.0, 7.0)):
        found = descent_step_sizes(6, diameter=diameter, gradient_bound=bound, curvature=0.4)
        assert_close(found, expected, f"descent_step_sizes(6, curvature=0.4, diameter={diameter})", "equation (10)")


# online_gradient_descent


def test_online_gradient_descent_plays_before_it_steps():
    slopes = np.array([[1.0, -2.0], [0.5, 0.3], [-4.0, 1.0], [9.0, 9.0]])
    steps, start = np.array([0.5, 2.0, 0.1, 1.0]), np.array([0.4, -0.3])
    asked = []

    def gradient(t, x):
        asked.append((t, x.copy()))
        return slopes[t] * (1 + x[0])

    found = online_gradient_descent(gradient, start, steps, lambda x: x.clip(-1, 1))
    second = np.array([0.4 - 0.5 * 1.4, -0.3 + 0.5 * 2.8])  # (-0.3, 1.1)
    second = np.array([-0.3, 1.0])
    third = np.array([-0.3 - 2 * 0.5 * 0.7, 1.0 - 2 * 0.3 * 0.7])  # (-1.0, 0.58)
    fourth = third + 0.1 * 0.0 * slopes[2]  # the slope vanishes at -1
    assert_close(found, [start, second, third, fourth], "online_gradient_descent of 4 rounds in a box", "equation (7)")
    assert [t for t, _ in asked[:3]] == [0, 1, 2], f"rounds are asked in their order, once each; got {asked}"
    assert len(asked) <= 4, f"gradient was called {len(asked)} times in 4 rounds: once a round"
    assert_close(np.array([x for _, x in asked[:3]]), found[:3], "the points at which gradients were asked for", "(7)")
    assert_close(start, [0.4, -0.3], "the start, afterwards,", "the docstring: it is not changed", rtol=0)


def test_online_gradient_descent_keeps_the_points_apart_that_it_returns():
    found = online_gradient_descent(lambda t, x: np.ones(3), np.zeros(3), np.full(4, 0.5), lambda x: x)
    assert_close(found, -0.5 * np.arange(4)[:, None] * np.ones(3), "online_gradient_descent along a slope of 1", "(7)")
    found = online_gradient_descent(lambda t, x: np.ones(2), np.zeros(2), np.zeros(0), lambda x: x)
    assert found.shape == (0, 2), f"without rounds no point is played; got shape {found.shape}"


def test_online_gradient_descent_keeps_the_bound_9_against_adversaries(rng):
    n_rounds, dim = 250, 4
    steps = descent_step_sizes(n_rounds, diameter=2.0, gradient_bound=1.0)
    bound = 3 * np.sqrt(np.arange(1, n_rounds + 1))
    drawn = rng.standard_normal((n_rounds, dim))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    pushes = []

    def against(t, x):  # pushes along the way that the point has taken, so that it was the wrong way
        push = x / np.linalg.norm(x) if x.any() else np.eye(dim)[0]
        pushes.append(push)
        return push

    for name, gradient in (("drawn", lambda t, x: drawn[t]), ("chosen", against)):
        points = online_gradient_descent(gradient, np.zeros(dim), steps, project_ball)
        slopes = drawn if name == "drawn" else np.array([*pushes, against(0, points[-1])])[:n_rounds]
        assert (np.linalg.norm(points, axis=1) <= 1 + 1e-12).all(), f"losses {name}: a point has left the unit ball"
        best = -np.linalg.norm(np.cumsum(slopes, axis=0), axis=1)  # of a linear loss over the ball
        found = np.cumsum((points * slopes).sum(axis=1)) - best
        assert (found <= bound + 1e-9).all(), f"losses {name}: the regret exceeds (9) by {(found - bound).max():.4f}"


def test_online_gradient_descent_on_curved_losses_has_logarithmic_regret(rng):
    n_rounds, mu = 400, 0.5
    targets = rng.standard_normal((n_rounds, 3))
    targets /= np.maximum(np.linalg.norm(targets, axis=1, keepdims=True), 1)
    targets[200:] *= -1
    steps = descent_step_sizes(n_rounds, diameter=2.0, gradient_bound=2 * mu, curvature=mu)
    points = online_gradient_descent(
        lambda t, x: mu * (x - targets[t]), np.array([0.6, 0.0, -0.8]), steps, project_ball
    )
    means = np.cumsum(targets, axis=0) / np.arange(1, n_rounds + 1)[:, None]
    assert_close(points[1:], means[:-1], "the points after the first", "the mean of the targets so far, by (7) and (10)",
                 atol=1e-12)  # fmt: skip
    losses = mu / 2 * ((points - targets) ** 2).sum(axis=1)
    for t in (1, 10, 100, n_rounds):
        best = mu / 2 * ((targets[:t] - means[t - 1]) ** 2).sum()
        found, bound = losses[:t].sum() - best, (2 * mu) ** 2 / (2 * mu) * (1 + log(t))
        assert -1e-9 <= found <= bound, f"after {t} rounds the regret is {found:.4f}; (10) says at most {bound:.4f}"


def test_online_gradient_descent_turns_into_batch_learning(rng):
    # least absolute deviations on the simplex, one example a round: (11) is kept by far, on average over 20 orders
    features = rng.random((300, 5))
    targets = features @ np.array([0.5, 0.3, 0.2, 0.0, 0.0]) + 0.1 * rng.standard_normal(300)

    def risk(w):
        return abs(features @ w - targets).mean()

    steps = descent_step_sizes(300, diameter=sqrt(2), gradient_bound=float(np.linalg.norm(features, axis=1).max()))
    means = []
    for _ in range(5):
        order = rng.integers(300, size=300)
        points = online_gradient_descent(
            lambda t, w, order=order: features[order[t]] * np.sign(features[order[t]] @ w - targets[order[t]]),
            np.eye(5)[4],
            steps,
            project_simplex,
        )
        assert abs(points.sum(axis=1) - 1).max() < 1e-9 and points.min() > -1e-12, "a point has left the simplex"
        means.append(risk(points.mean(axis=0)))
    bound = 1.5 * sqrt(2) * np.linalg.norm(features, axis=1).max() / sqrt(300)
    least, first = risk(np.array([0.5, 0.3, 0.2, 0.0, 0.0])), risk(np.eye(5)[4])
    assert np.mean(means) - least <= bound, (
        f"the mean point's risk is {np.mean(means):.4f}, {least:.4f} + {bound:.4f} allowed"
    )
    assert np.mean(means) < (least + first) / 2, (
        f"the mean point's risk is {np.mean(means):.4f}, the start's {first:.4f}"
    )


@pytest.mark.given
def test_online_gradient_descent_refuses_what_it_cannot_play():
    for start in (np.ones((2, 2)), np.zeros(0), np.array([np.nan])):
        with pytest.raises(ValueError, match="start"):
            online_gradient_descent(lambda t, x: x, start, np.ones(3), lambda x: x)
    for steps in (np.ones((2, 2)), np.array([1.0, -1.0]), np.array([np.nan])):
        with pytest.raises(ValueError, match="step_sizes"):
            online_gradient_descent(lambda t, x: x, np.ones(2), steps, lambda x: x)


# best_stump


@pytest.mark.given
def test_best_stump_has_the_least_weighted_error_of_all(rng):
    features = rng.integers(0, 6, (40, 3)) + 0.0  # many ties
    labels = np.where(features[:, 1] + rng.standard_normal(40) > 2.5, 1.0, -1.0)
    for _ in range(20):
        weights = rng.random(40) ** 3
        weights /= weights.sum()
        stump = best_stump(features, labels, weights)
        least = min(
            weights[labels != Stump(j, c, s)(features)].sum()
            for j in range(3)
            for c in range(-1, 6)
            for s in (1.0, -1.0)
        )
        assert_close(
            weights[labels != stump(features)].sum(), least, f"the error of {stump}", "all stumps tried", atol=1e-12
        )


# adaboost


def first_line():
    """Six examples on a line, of which no stump gets all right."""
    return np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]), np.array([1.0, 1.0, 1.0, -1.0, -1.0, 1.0])


def test_adaboost_of_two_rounds_by_hand():
    x, y = first_line()
    seen = []

    def weak_learner(features, labels, weights):
        seen.append(np.array(weights))
        return Stump(0, 3.5, -1.0) if len(seen) == 1 else Stump(0, 5.5, 1.0)

    found = adaboost(x, y, 2, weak_learner=weak_learner)
    # the first is wrong at 6: 1/6, vote ln(5)/2; then 6 has 1/2 and the others 1/10, so the second is wrong by 3/10
    assert_close(seen[0], np.full(6, 1 / 6), "the weights of round 1", "equation (13)")
    assert len(seen) == 2, f"two rounds should call the weak learner twice, it was called {len(seen)} times"
    assert_close(seen[1], [0.1, 0.1, 0.1, 0.1, 0.1, 0.5], "the weights of round 2", "equation (13)")
    assert_close(found.votes, [log(5) / 2, log(7 / 3) / 2], "adaboost(...).votes", "equation (14)")
    assert_close(found.edges, [1 / 3, 0.2], "adaboost(...).edges", "equation (12)")
    assert found.rules == (Stump(0, 3.5, -1.0), Stump(0, 5.5, 1.0)), f"the rules in their order; got {found.rules}"


def test_adaboost_makes_each_rule_useless_for_the_next_weights():
    features, labels = tumours()
    before = (features.copy(), labels.copy())
    margin, product_z, seen = np.zeros(len(labels)), 1.0, []

    def weak_learner(features, labels, weights):
        seen.append(np.array(weights))
        return best_stump(features, labels, weights)

    found = adaboost(features, labels, 12, weak_learner=weak_learner)
    assert len(found.rules) == len(seen) == 12, f"12 rounds made {len(found.rules)} rules in {len(seen)} calls"
    for t, (rule, vote, edge) in enumerate(zip(found.rules, found.votes, found.edges, strict=True)):
        right = labels * rule(features)
        expected = np.exp(-margin) / np.exp(-margin).sum()
        assert_close(seen[t], expected, f"the weights of round {t + 1}", "equation (13)", rtol=1e-8)
        error = seen[t][right < 0].sum()
        assert_close(edge, 0.5 - error, f"the edge of rule {t + 1}", "equation (12)", rtol=1e-8)
        assert_close(vote, np.arctanh(2 * edge), f"the vote of rule {t + 1}", "equation (14)", rtol=1e-8)
        margin += vote * right
        product_z *= sqrt(1 - 4 * edge**2)
        after = np.exp(-margin) / np.exp(-margin).sum()
        assert abs(after @ right) < 1e-9, (
            f"after round {t + 1} its rule should be right on half the weight: {after @ right}"
        )
        assert_close(np.exp(-margin).mean(), product_z, f"the mean of exp(-m) after round {t + 1}", "(15)", rtol=1e-8)
    for name, now, kept in zip(("features", "labels"), (features, labels), before, strict=True):
        assert_close(now, kept, f"the {name}, afterwards,", "the docstring: they are not changed", rtol=0)


def test_adaboost_keeps_the_bound_15_and_gets_all_training_examples_right():
    features, labels = tumours()
    found = adaboost(features, labels, 60)
    scores = np.zeros(len(labels))
    for t, (rule, vote) in enumerate(zip(found.rules, found.votes, strict=True)):
        scores += vote * rule(features)
        share, bound = (labels * scores <= 0).mean(), np.exp(-2 * (found.edges[: t + 1] ** 2).sum())
        assert share <= bound, (
            f"after {t + 1} rules {share:.4f} of the examples are wrong; (15) says at most {bound:.4f}"
        )
    assert share == 0, f"60 stumps should get all 569 tumours right; a share of {share:.4f} is wrong"


def test_adaboost_agrees_with_scikit_learns():
    features, labels = tumours()
    train, n_rounds = np.arange(569) % 3 > 0, 15
    model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=n_rounds, random_state=0)
    model.fit(features[train], labels[train])
    found = adaboost(features[train], labels[train], n_rounds, weak_learner=tree)
    because = "scikit-learn's AdaBoostClassifier"
    assert_close(
        found.votes, model.estimator_weights_ / 2, "adaboost of trees of depth 1: its votes", because, rtol=1e-6
    )
    assert_close(
        0.5 - found.edges, model.estimator_errors_, "adaboost of trees: 1/2 less its edges", because, rtol=1e-6
    )
    scores = sum(vote * rule(features[~train]) for vote, rule in zip(found.votes, found.rules, strict=True))
    wrong = (np.sign(scores) != model.predict(features[~train])).sum()
    assert wrong == 0, f"{wrong} of 190 predictions of new examples differ from scikit-learn's"


def test_adaboost_goes_on_when_all_margins_are_in_the_hundreds():
    x, y = np.arange(1.0, 6.0)[:, None], np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    rules = [
        lambda features, s=s, sign=sign: np.where(features[:, 0] > s, sign, -sign)
        for s, sign in ((2.5, -1.0), (4.5, 1.0), (0.5, 1.0))
    ]

    def weak_learner(features, labels, weights):
        return max(rules, key=lambda rule: float(weights @ (rule(features) == labels)))

    found = adaboost(x, y, 4000, weak_learner=weak_learner)
    least = (y * sum(vote * rule(x) for rule, vote in zip(found.rules, found.votes))).min()
    assert len(found.votes) == 4000 and least > 750, (
        f"adaboost of 4000 rounds made {len(found.votes)} rules, with a least margin of {least:.4g}; 4000, and more than 750"
    )


def test_adaboost_ends_at_a_rule_without_an_edge():
    x, y = first_line()
    calls = []

    def stubborn(features, labels, weights):  # the same rule again: right on half the weight, but for rounding
        calls.append(1)
        return Stump(0, 3.5, -1.0)

    found = adaboost(x, y, 9, weak_learner=stubborn)
    assert len(found.rules) == len(found.votes) == len(found.edges) == 1, f"one rule, then no edge; got {found.votes}"
    assert len(calls) == 2, (
        f"it should end at the first rule without an edge; the weak learner was called {len(calls)} times"
    )
    assert_close(found.votes, [log(5) / 2], "the votes", "equation (14)")
    for rule in (Stump(0, 3.5, 1.0), Stump(0, 0.0, -1.0)):  # wrong on more than half
        found = adaboost(x, y, 9, weak_learner=lambda features, labels, weights, rule=rule: rule)
        assert found.rules == () and found.votes.shape == found.edges.shape == (0,), f"no rule has an edge; got {found}"


def test_adaboost_returns_a_perfect_rule_alone():
    x, y = first_line()
    perfect = Stump(0, 3.5, -1.0)
    y = perfect(x)
    others = [Stump(0, 2.5, -1.0), Stump(0, 4.5, -1.0), perfect, Stump(0, 1.5, -1.0)]
    with np.errstate(all="raise"):
        found = adaboost(x, y, 9, weak_learner=lambda features, labels, weights: others.pop(0))
    assert found.rules == (perfect,), f"the third rule makes no mistake: it alone is returned; got {found.rules}"
    assert_close(found.votes, [1.0], "its vote", "the docstring")
    assert_close(found.edges, [0.5], "its edge", "the docstring")
    with np.errstate(all="raise"):
        first = adaboost(x, y, 1)
    assert first.rules == (perfect,), f"adaboost of examples that a stump separates returned {first}"


@pytest.mark.given
def test_adaboost_refuses_what_it_cannot_learn_from():
    x, y = first_line()
    for features in (x[:, 0], x[:0], np.full((6, 1), np.inf)):
        with pytest.raises(ValueError, match="features"):
            adaboost(features, y, 3)
    for labels in (y[:5], (y + 1) / 2, np.full(6, np.nan)):
        with pytest.raises(ValueError, match="labels"):
            adaboost(x, labels, 3)
    with pytest.raises(ValueError, match="n_rounds"):
        adaboost(x, y, 0)


# margins


def test_margins_weigh_the_rules_by_their_votes():
    x, y = first_line()
    boosted = Boosted(
        (Stump(0, 3.5, -1.0), Stump(0, 5.5, 1.0), Stump(0, 1.5, 1.0)), np.array([1.5, 0.7, 0.3]), np.zeros(3)
    )
    # votes for 1 to 6: 1.5 - 0.7 - 0.3 = 0.5, then 1.1, 1.1, -1.9, -1.9, -0.5; of 2.5
    expected = [0.2, 0.44, 0.44, 0.76, 0.76, -0.2]
    assert_close(margins(boosted, x, y), expected, "margins of three stumps, votes [1.5, 0.7, 0.3],", "equation (16)")
    signs = np.sign([0.5, 1.1, 1.1, -1.9, -1.9, -0.5])
    assert_close(np.sign(margins(boosted, x, np.ones(6))), signs, "the sign of margins with labels of 1", "the vote")


def test_margins_of_new_examples_and_of_no_rules():
    x = np.array([[0.0], [7.0]])
    boosted = Boosted((Stump(0, 3.5, -1.0),), np.array([0.25]), np.array([0.1]))
    assert_close(margins(boosted, x, np.array([-1.0, -1.0])), [-1.0, 1.0], "margins of a single rule", "equation (16)")
    with np.errstate(all="raise"):
        found = margins(Boosted((), np.zeros(0), np.zeros(0)), x, np.array([-1.0, 1.0]))
    assert_close(found, [0.0, 0.0], "margins without rules", "the docstring: zeros")


def test_margins_grow_after_the_last_error_is_gone():
    features, labels = tumours()
    found = adaboost(features, labels, 100)
    least = []
    for n in (30, 60, 100):
        values = margins(Boosted(found.rules[:n], found.votes[:n], found.edges[:n]), features, labels)
        assert abs(values).max() <= 1 + 1e-12, f"margins lie between -1 and 1; the largest is {abs(values).max()}"
        least.append(values.min())
    assert 0 < least[0] < least[1] < least[2], f"the least margin after 30, 60 and 100 rules: {least}; it should grow"
