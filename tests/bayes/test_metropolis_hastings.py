"""Shared tests of bayes/metropolis_hastings: run on the reference, and on the learner's file.

What is random is checked over independent chains, by checks that a right solution fails with a probability of 1e-8 each,
whatever the order of its random numbers: 33 of them in this file and 12 at 1e-9, 3.5e-7 together.
"""

from functools import partial

import numpy as np
import pytest
from scipy import special, stats

from mlpath.bayes.metropolis_hastings import (
    Move,
    State,
    independence,
    log_acceptance,
    log_normal_walk,
    random_walk,
    sample,
    step,
    transition_matrix,
)
from mlpath.testing import assert_close, assert_frequency, assert_mean, assert_variance

SEED = 20250131
N = 20_000


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


# Targets


def flat(x):
    return np.zeros(len(x))


def laplace(x):
    return -np.abs(x).sum(axis=1)


def gamma(x):
    """Independent gamma variables of shape 3 and rate 2."""
    inside = (x > 0).all(axis=1)
    return np.where(inside, (2 * np.log(np.where(x > 0, x, 1)) - 2 * x).sum(axis=1), -np.inf)


def triangle(x):
    """Uniform over the positive pairs that sum to less than 1."""
    return np.where((x > 0).all(axis=1) & (x.sum(axis=1) < 1), 0.0, -np.inf)


CENTRE, COVARIANCE = np.array([5.0, -3.0, 0.5]), np.array([[4.0, 1.2, -0.3], [1.2, 1.0, 0.2], [-0.3, 0.2, 0.25]])
PRECISION = np.linalg.inv(COVARIANCE)


def normal(x):
    """Correlated, away from the origin, of unequal scales."""
    return -np.einsum("ni,ij,nj->n", x - CENTRE, PRECISION, x - CENTRE) / 2


def elsewhere(log_density, origin=0.0):
    """A target whose log density is `origin` at the origin and `log_density` everywhere else."""
    return lambda x: np.where(x.any(axis=1), float(log_density), origin)


def at(log_density_fn, position):
    """The state that chains would be in at `position`."""
    return State(position, log_density_fn(position))


def shift(position, *, rng, log_correction=0.0):
    """A proposal that moves chain i by i + 1, with the given correction."""
    steps = np.arange(1.0, len(position) + 1)
    return Move(position + steps[:, None], np.full(len(position), log_correction))


# log_acceptance


def test_log_acceptance_is_the_log_of_the_ratio_but_at_most_zero():
    here, there, correction = (
        np.array([-1.0, -3.0, 2.0, 2.0]),
        np.array([-3.0, -1.0, 1.5, 1.5]),
        np.array([0, 0, 0.75, -0.75]),
    )
    found = log_acceptance(here, there, correction)
    call = "log_acceptance([-1, -3, 2, 2], [-3, -1, 1.5, 1.5], [0, 0, 0.75, -0.75])"
    assert_close(found, np.array([-2.0, 0.0, 0.0, -1.25]), call, "equation (3)")


def test_log_acceptance_puts_detailed_balance_into_effect(rng):
    here, there, correction = rng.normal(0, 3, (3, 50))
    back = log_acceptance(there, here, -correction)
    difference = log_acceptance(here, there, correction) - back
    because = "equation (1), in logarithms"
    assert_close(
        difference, there - here + correction, "log alpha(x, y) - log alpha(y, x)", because, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("size", [1e3, 1e5, 1e300])
def test_log_acceptance_survives_log_densities_that_are_large(size):
    found = log_acceptance(np.array([-size, size]), np.array([size, -size]), np.zeros(2))
    assert_close(found, np.array([0.0, -2 * size]), f"log_acceptance(∓{size:g}, ±{size:g}, 0)", "equation (3)")


@pytest.mark.parametrize(
    ("here", "there", "correction", "expected"),
    [
        (0.0, -np.inf, 5.0, -np.inf),
        (0.0, 9.0, -np.inf, -np.inf),
        (0.0, -np.inf, -np.inf, -np.inf),
        (-np.inf, 3.0, 0.5, 0.0),
        (-np.inf, -np.inf, 0.5, -np.inf),
        (-np.inf, 3.0, -np.inf, -np.inf),
    ],
)
def test_log_acceptance_knows_zero_densities(here, there, correction, expected):
    found = log_acceptance(np.array([here]), np.array([there]), np.array([correction]))
    call = f"log_acceptance({here}, {there}, {correction})"
    assert_close(found, np.array([expected]), call, "the rules for zero densities after equation (3)")


def test_log_acceptance_broadcasts_and_leaves_its_arguments_alone():
    here, there, correction = np.array([[0.0], [-1.0], [-2.0]]), np.array([[-1.5, -0.5]]), np.zeros((3, 2))
    found = log_acceptance(here, there, correction)
    expected = np.array([[-1.5, -0.5], [-0.5, 0.0], [0.0, 0.0]])
    assert_close(found, expected, "log_acceptance of shapes (3, 1), (1, 2) and (3, 2)", "equation (3)")
    assert not correction.any(), "log_acceptance changed its argument log_correction"
    assert here[1, 0] == -1, "log_acceptance changed its argument log_density"


# transition_matrix


def a_proposal(n_states=20):
    """A proposal matrix with a fifth of its entries zero, most of them in one direction only."""
    rng = np.random.default_rng(4)
    proposal = rng.exponential(size=(n_states, n_states)) * (rng.random((n_states, n_states)) > 0.2)
    return proposal / proposal.sum(axis=1, keepdims=True)


def a_target(n_states=20, *, zeros=False):
    """Log probabilities between -6 and 0 or so, and two states without any if `zeros` is set."""
    log_density = -np.random.default_rng(5).exponential(2, n_states)
    if zeros:
        log_density[[3, 11]] = -np.inf
    return log_density


def test_transition_matrix_of_three_states():
    proposal = np.array([[0.5, 0.5, 0], [0.25, 0.25, 0.5], [0, 1, 0]])
    expected = np.array([[0.625, 0.375, 0], [0.25, 0.25, 0.5], [0, 0.3, 0.7]])
    found = transition_matrix(np.log([0.2, 0.3, 0.5]), proposal)
    call = f"transition_matrix(log of [0.2, 0.3, 0.5], {proposal.tolist()})"
    assert_close(found, expected, call, "equation (8)", atol=1e-15)


@pytest.mark.parametrize("zeros", [False, True])
def test_transition_matrix_is_in_detailed_balance(zeros):
    log_density, proposal = a_target(zeros=zeros), a_proposal()
    traffic = np.exp(log_density)[:, None] * transition_matrix(log_density, proposal)
    # Its entries are below 1, and rounded to 1e-16 of themselves some few times.
    assert_close(traffic, traffic.T, "pi_i K_ij, for all i and j,", "equation (1): pi_j K_ji", rtol=1e-12, atol=1e-15)
    assert np.count_nonzero(traffic) > 100, "transition_matrix lets hardly any state be reached from another"


@pytest.mark.parametrize("zeros", [False, True])
def test_transition_matrix_leaves_the_target_invariant(zeros):
    log_density, proposal = a_target(zeros=zeros), a_proposal()
    matrix = transition_matrix(log_density, proposal)
    assert (matrix >= 0).all(), f"transition_matrix returned a negative probability, {matrix.min()}"
    assert_close(matrix.sum(axis=1), np.ones(20), "the row sums of transition_matrix", "equation (8)", rtol=1e-12)
    target = np.exp(log_density)
    assert_close(target @ matrix, target, "pi K", "what follows from (1): pi", rtol=1e-11)


def test_transition_matrix_takes_what_is_proposed_with_the_probability_of_equation_2():
    log_density, proposal = a_target(), a_proposal()
    matrix = transition_matrix(log_density, proposal)
    for i, j in [(0, 1), (1, 0), (7, 12), (12, 7), (19, 4), (4, 19)]:
        way, back = np.exp(log_density[i]) * proposal[i, j], np.exp(log_density[j]) * proposal[j, i]
        expected = proposal[i, j] * min(1, back / way) if way else 0.0
        assert_close(matrix[i, j], expected, f"transition_matrix(...)[{i}, {j}]", "equations (2) and (8)", rtol=1e-12)


def test_transition_matrix_never_enters_a_state_without_density_and_leaves_it_at_once():
    proposal = np.array([[0, 1, 0], [0.5, 0, 0.5], [0.2, 0.8, 0]])
    found = transition_matrix(np.array([0.0, -np.inf, 0.0]), proposal)
    # Nothing enters state 1, and from 2 to 0 there is no way back. From 1 all that is proposed is taken.
    expected = np.array([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    call = f"transition_matrix([0, -inf, 0], {proposal.tolist()})"
    assert_close(found, expected, call, "the rules for zero densities after equation (3)", atol=1e-15)


@pytest.mark.parametrize("constant", [-1000.0, 1000.0])
def test_transition_matrix_does_not_need_the_normalising_constant(constant):
    log_density, proposal = a_target(), a_proposal()
    expected = transition_matrix(log_density, proposal)
    found = transition_matrix(log_density + constant, proposal)
    # Adding 1000 rounds the log densities to 1e-13.
    assert_close(found, expected, f"transition_matrix(log_density + {constant})", "that of log_density", rtol=1e-11)
    assert 0 < expected[0, 0] < 1, f"transition_matrix(...)[0, 0] is {expected[0, 0]}"


def test_transition_matrix_leaves_its_arguments_alone():
    log_density, proposal = a_target(), a_proposal()
    transition_matrix(log_density, proposal)
    assert np.array_equal(proposal, a_proposal()), "transition_matrix changed its argument proposal"
    assert np.array_equal(log_density, a_target()), "transition_matrix changed its argument log_density"


@pytest.mark.given
@pytest.mark.parametrize(
    ("log_density", "proposal", "name"),
    [
        (np.zeros((2, 2)), np.eye(2), "log_density"),
        (np.array([0.0, np.nan]), np.eye(2), "log_density"),
        (np.array([0.0, np.inf]), np.eye(2), "log_density"),
        (np.zeros(2), np.eye(3), "proposal"),
        (np.zeros(2), np.array([[0.5, 0.4], [0.5, 0.5]]), "proposal"),
        (np.zeros(2), np.array([[1.5, -0.5], [0.5, 0.5]]), "proposal"),
        (np.zeros(2), np.array([[np.nan, 1.0], [0.5, 0.5]]), "proposal"),
    ],
)
def test_transition_matrix_refuses_what_are_no_probabilities(log_density, proposal, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        transition_matrix(log_density, proposal)


# random_walk


def assert_standard_normal(z, call, because):
    """Mean, variance and shape of N numbers, and that no two of them are the same."""
    assert_mean(z, 0, call, because, sd=1)
    assert_variance(z, 1, call, because)
    within = special.erf(np.sqrt(0.5))  # of normal draws lie within one standard deviation
    assert_frequency(np.count_nonzero(abs(z) < 1), len(z), within, f"those between -1 and 1 of {call}", because)
    assert len(np.unique(z)) == N, f"among {call} several are equal: each chain needs a number of its own"


def assert_spread(z, scale, what):
    """The standard deviations of two columns of N numbers, to a tenth: 20 standard errors."""
    found = z.std(axis=0)
    assert np.allclose(found, scale, rtol=0.1, atol=0), (
        f"{what} has standard deviations of {found[0]:#.2g} and {found[1]:#.2g}, expected {scale}"
    )


def test_random_walk_makes_steps_as_long_as_scale_says_from_where_the_chains_are(rng):
    x = rng.normal(0, 7, (N, 2))
    move = random_walk(x, scale=np.array([0.09, 4.0]), rng=rng)
    assert_spread(move.position - x, [0.09, 4.0], "y - x of random_walk(x, scale=[0.09, 4])")


def test_random_walk_proposes_normal_steps_of_standard_deviation_scale(rng):
    move = random_walk(np.full((N, 1), 5.0), scale=0.3, rng=rng)
    z = (move.position[:, 0] - 5.0) / 0.3
    assert_standard_normal(z, "(y - x) / scale of random_walk(x = 5, scale=0.3)", "equation (5)")


def test_random_walk_moves_every_coordinate_on_its_own_and_by_its_own_scale(rng):
    start = np.tile([1.0, -100.0], (N, 1))
    z = (random_walk(start, scale=np.array([0.1, 30.0]), rng=rng).position - start) / [0.1, 30.0]
    call = "(y - x) / scale of random_walk(scale=[0.1, 30])"
    assert_variance(z, np.ones(2), call, "equation (5)")
    # Independent standard normal numbers have a product of mean 0 and variance 1.
    assert_mean(z.prod(axis=1), 0, f"the product of both coordinates of {call}", "equation (5): independent", sd=1)


def test_random_walk_needs_no_correction(rng):
    move = random_walk(np.ones((4, 3)), scale=2.0, rng=rng)
    assert_close(move.log_correction, np.zeros(4), "random_walk(4 chains).log_correction", "equation (5)")


def test_random_walk_leaves_its_positions_alone(rng):
    start = np.ones((4, 3))
    random_walk(start, scale=2.0, rng=rng)
    assert (start == 1).all(), "random_walk changed the positions that it was given"


# independence


def test_independence_has_the_mean_and_the_standard_deviation_it_is_given(rng):
    x = rng.normal(0, 7, (N, 2))
    move = independence(x, mean=np.array([30.0, -50.0]), scale=np.array([0.09, 4.0]), rng=rng)
    what = "y of independence(x, mean=[30, -50], scale=[0.09, 4])"
    assert_spread(move.position, [0.09, 4.0], what)
    found = move.position.mean(axis=0)
    assert np.allclose(found, [30, -50], rtol=0.01), f"{what} has means of {found[0]:#.2g} and {found[1]:#.2g}"


def test_independence_proposes_from_one_normal_distribution(rng):
    x = rng.normal(0, 20, (N, 2))
    mean, scale = np.array([3.0, -1.0]), np.array([0.5, 2.0])
    z = (independence(x, mean=mean, scale=scale, rng=rng).position - mean) / scale
    for i in range(2):
        call = f"(y - mean) / scale, coordinate {i}, of independence(mean=[3, -1], scale=[0.5, 2])"
        assert_standard_normal(z[:, i], call, "equation (6)")
    for name, other in (("the other coordinate", z[:, 1]), ("the old position / 20", x[:, 0] / 20)):
        call = f"(y - mean) / scale of independence(...) times {name}"
        assert_mean(z[:, 0] * other, 0, call, "equation (6): independent", sd=1)


@pytest.mark.parametrize("scale", [0.7, np.array([0.5, 2.0, 4.0])], ids=["one scale", "three scales"])
def test_independence_corrects_by_the_density_of_its_normal_distribution(scale, rng):
    x, mean = rng.normal(0, 3, (30, 3)), np.array([3.0, -1.0, 0.0])
    move = independence(x, mean=mean, scale=scale, rng=rng)
    q = stats.norm(mean, scale)
    expected = q.logpdf(x).sum(axis=1) - q.logpdf(move.position).sum(axis=1)
    call = f"independence(x, mean=[3, -1, 0], scale={scale}).log_correction"
    assert_close(move.log_correction, expected, call, "equation (3): log g(x) - log g(y)", rtol=1e-9, atol=1e-9)


def test_independence_leaves_its_positions_alone(rng):
    start = np.ones((4, 3))
    independence(start, mean=np.zeros(3), scale=2.0, rng=rng)
    assert (start == 1).all(), "independence changed the positions that it was given"


# log_normal_walk


def test_log_normal_walk_takes_factors_as_far_from_one_as_scale_says(rng):
    x = np.exp(rng.normal(0, 5, (N, 2)))
    ratio = log_normal_walk(x, scale=np.array([0.09, 1.7]), rng=rng).position / x
    assert (ratio > 0).all(), f"log_normal_walk proposed {np.mean(ratio <= 0):.0%} numbers that are not positive"
    assert_spread(np.log(ratio), [0.09, 1.7], "log(y / x) of log_normal_walk(x, scale=[0.09, 1.7])")
    middle = np.median(ratio[:, 1])
    assert 0.8 < middle < 1.25, f"the factors of log_normal_walk(scale=1.7) have a median of {middle:#.2g}; (7) says 1"


def test_log_normal_walk_multiplies_by_log_normal_factors(rng):
    x = np.exp(rng.normal(0, 5, (N, 2)))
    scale = np.array([0.2, 1.5])
    position = log_normal_walk(x, scale=scale, rng=rng).position
    assert (position > 0).all(), "log_normal_walk proposed a number that is not positive"
    z = np.log(position / x) / scale
    for i in range(2):
        call = f"log(y / x) / scale, coordinate {i}, of log_normal_walk(scale=[0.2, 1.5])"
        assert_standard_normal(z[:, i], call, "equation (7)")
    call = "the product of both coordinates of log(y / x) / scale of log_normal_walk(scale=[0.2, 1.5])"
    assert_mean(z.prod(axis=1), 0, call, "equation (7): independent factors", sd=1)


@pytest.mark.parametrize("scale", [0.7, np.array([0.5, 2.0, 0.1])], ids=["one scale", "three scales"])
def test_log_normal_walk_corrects_by_the_log_normal_density(scale, rng):
    x = np.exp(rng.normal(0, 2, (30, 3)))
    move = log_normal_walk(x, scale=scale, rng=rng)
    # In scipy's terms, exp(log x + s z) is lognorm(s, scale=x).
    back = stats.lognorm(scale, scale=move.position).logpdf(x).sum(axis=1)
    expected = back - stats.lognorm(scale, scale=x).logpdf(move.position).sum(axis=1)
    call = f"log_normal_walk(x, scale={scale}).log_correction"
    because = "equations (3) and (7): log q(x | y) - log q(y | x)"
    assert_close(move.log_correction, expected, call, because, rtol=1e-9, atol=1e-9)


def test_log_normal_walk_leaves_its_positions_alone(rng):
    start = np.ones((4, 3))
    log_normal_walk(start, scale=2.0, rng=rng)
    assert (start == 1).all(), "log_normal_walk changed the positions that it was given"


@pytest.mark.given
@pytest.mark.parametrize("start", [0.0, -1.0, np.nan])
def test_log_normal_walk_refuses_positions_that_are_not_positive(start, rng):
    with pytest.raises(ValueError, match="position must"):
        log_normal_walk(np.array([[1.0, start]]), scale=1.0, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, np.array([1.0, 0.0])])
def test_random_walk_and_the_other_proposals_refuse_a_scale_that_is_not_positive(scale, rng):
    for propose in (random_walk, partial(independence, mean=np.zeros(2)), log_normal_walk):
        with pytest.raises(ValueError, match="scale must"):
            propose(np.ones((3, 2)), scale=scale, rng=rng)


# step


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1e4, 2e4), (-2e4, -1e4)])
def test_step_takes_every_move_uphill(low, high, rng):
    peak = elsewhere(high, origin=low)
    moved, accepted = step(peak, at(peak, np.zeros((50, 2))), propose=shift, rng=rng)
    assert accepted.all(), f"step rejected a move from log density {low:g} up to {high:g}"
    expected = np.tile(np.arange(1.0, 51)[:, None], 2)
    assert_close(moved.position, expected, "step(...)[0].position, all moves accepted", "what was proposed")
    assert_close(
        moved.log_density, np.full(50, high), "step(...)[0].log_density, all moves accepted", "the new density"
    )


@pytest.mark.parametrize("correction", [0.0, 50.0])
def test_step_stays_where_it_is_when_the_proposal_is_impossible(correction, rng):
    spike = elsewhere(-np.inf, origin=-3.0)
    propose = partial(shift, log_correction=correction)
    stayed, accepted = step(spike, at(spike, np.zeros((50, 2))), propose=propose, rng=rng)
    assert not accepted.any(), "step accepted a move to a point of zero density"
    assert_close(stayed.position, np.zeros((50, 2)), "step(...)[0].position, all moves rejected", "the old position")
    assert_close(
        stayed.log_density, np.full(50, -3.0), "step(...)[0].log_density, all moves rejected", "the old density"
    )


@pytest.mark.parametrize(
    ("log_density", "correction"), [(np.log(0.3), 0.0), (0.0, np.log(0.3)), (-2.0, 2 + np.log(0.3))]
)
def test_step_accepts_each_chain_with_the_probability_of_equation_3(log_density, correction, rng):
    cliff, propose = elsewhere(log_density), partial(shift, log_correction=correction)
    moved, accepted = step(cliff, at(cliff, np.zeros((N, 1))), propose=propose, rng=rng)
    call = f"moves that step took, to a log density of {log_density:.3f} with the correction {correction:.3f}"
    same = "moved" if accepted.all() else "stayed"
    assert 0 < accepted.sum() < N, (
        f"all {N} chains {same}; (4) tosses a coin for each chain, or the acceptance is wrong"
    )
    assert_frequency(accepted.sum(), N, 0.3, call, "equations (3) and (4)")
    assert np.array_equal(moved.position[:, 0] != 0, accepted), "step reports other chains as accepted than have moved"
    expected = np.where(accepted, log_density, 0.0)
    assert_close(moved.log_density, expected, "step(...)[0].log_density, some moves rejected", "that of the position")


def test_step_takes_a_move_whole_or_not_at_all(rng):
    propose = partial(shift, log_correction=np.log(0.3))
    moved, accepted = step(flat, at(flat, np.zeros((500, 3))), propose=propose, rng=rng)
    went = moved.position != 0
    torn = np.count_nonzero(went.any(axis=1) & ~went.all(axis=1))
    assert torn == 0, f"step moved {torn} of 500 chains in some of their 3 coordinates only; (4) takes all of y or none"
    assert np.array_equal(went.any(axis=1), accepted), "step reports other chains as accepted than have moved"


def test_step_asks_for_the_density_of_what_is_proposed_and_hands_its_generator_on(rng):
    calls = []

    def propose(position, *, rng):
        calls.append(rng)
        return Move(position + 2.0, np.zeros(len(position)))

    moved, _ = step(flat, State(np.ones((3, 2)), np.zeros(3)), propose=propose, rng=rng)
    assert_close(moved.position, np.full((3, 2), 3.0), "step from 1 by a proposal of x + 2", "the position proposed")
    assert len(calls) == 1, f"step called its proposal {len(calls)} times, expected once"
    assert isinstance(calls[0], np.random.Generator), f"step called its proposal with rng={calls[0]!r}, no generator"


@pytest.mark.parametrize(
    ("name", "propose"),
    [
        ("random_walk", partial(random_walk, scale=1.0)),
        ("independence", partial(independence, mean=np.array([1.0]), scale=1.0)),
        ("log_normal_walk", partial(log_normal_walk, scale=0.8)),
    ],
)
def test_step_is_in_detailed_balance(name, propose, rng):
    x = rng.gamma(3, 1 / 2, (N, 1))
    y = step(gamma, at(gamma, x), propose=propose, rng=rng)[0].position
    for border in (0.8, 1.5, 2.5):
        there = np.count_nonzero((x < border) & (y >= border))
        back = np.count_nonzero((x >= border) & (y < border))
        assert there + back, f"step moved none of {N} chains across {border} by {name}"
        # Of the chains that cross, each goes upwards with probability 1/2.
        call = f"chains that step moved upwards, of those that it moved across {border} by {name}"
        assert_frequency(there, there + back, 0.5, call, "equation (1): as many as downwards")


def test_step_leaves_its_state_alone(rng):
    state = at(laplace, np.ones((20, 2)))
    step(laplace, state, propose=partial(random_walk, scale=1.0), rng=rng)
    assert (state.position == 1).all(), "step changed the positions of the state that it was given"
    assert (state.log_density == -2).all(), "step changed the log densities of the state that it was given"


@pytest.mark.parametrize(
    "wrong",
    [np.array([0.0, np.nan]), np.array([np.inf, 0.0]), np.zeros((2, 1)), np.zeros(3)],
    ids=["nan", "inf", "two axes", "too many"],
)
def test_step_refuses_what_is_no_log_density(wrong, rng):
    with pytest.raises(ValueError, match="log_density_fn must"):
        step(lambda x: wrong, State(np.ones((2, 1)), np.zeros(2)), propose=partial(random_walk, scale=1.0), rng=rng)


# sample


def test_sample_records_the_position_after_each_of_its_steps(rng):
    result = sample(flat, np.zeros((3, 2)), 4, propose=shift, rng=rng)
    expected = np.array([1.0, 2.0, 3.0])[:, None] * np.array([1.0, 2.0, 3.0, 4.0])  # by chain and step
    call = "sample(flat, zeros((3, 2)), 4).draws, where chain i moves by i + 1 in both coordinates,"
    assert_close(result.draws, np.stack([expected, expected], axis=2), call, "its docstring: after each step")
    assert_close(result.acceptance_rate, np.ones(3), "sample(flat, ...).acceptance_rate", "a flat density")
    single = sample(flat, np.zeros((3, 2)), 1, propose=shift, rng=rng).draws
    assert_close(single, result.draws[:, :1], "sample(flat, zeros((3, 2)), 1).draws", "the first of four draws")


def test_sample_records_the_log_density_of_each_draw(rng):
    result = sample(gamma, np.ones((5, 2)), 30, propose=partial(log_normal_walk, scale=1.0), rng=rng)
    expected = np.stack([gamma(result.draws[:, t]) for t in range(30)], axis=1)
    assert_close(result.log_density, expected, "sample(...).log_density", "log_density_fn of each draw", rtol=1e-12)


def test_sample_counts_rejected_steps_again_and_reports_the_share_of_the_others(rng):
    start = np.full((40, 2), 0.3)
    result = sample(triangle, start, 50, propose=partial(random_walk, scale=0.6), rng=rng)
    path = np.concatenate([start[:, None], result.draws], axis=1)
    moved = np.diff(path, axis=1).any(axis=2).mean(axis=1)
    assert_close(
        result.acceptance_rate, moved, "sample(...).acceptance_rate", "the share of steps that changed the position"
    )
    assert 0.05 < moved.mean() < 0.6, (
        f"with steps as long as the triangle some are rejected; {moved.mean():.0%} were taken"
    )
    inside = (triangle(result.draws.reshape(-1, 2)) == 0).all()
    assert inside, "sample returned a draw where the density is zero"


TARGETS = {
    # target, exact draws of it, proposal, steps, moments: functions of x and their expectations
    "normal": (
        normal,
        lambda rng, n: rng.multivariate_normal(CENTRE, COVARIANCE, n),
        partial(random_walk, scale=np.array([1.5, 0.7, 0.4])),
        {
            "x": (lambda x: x, CENTRE),
            "squares": (lambda x: (x - CENTRE) ** 2, np.diag(COVARIANCE)),
            "products": (lambda x: (x - CENTRE) * (x - CENTRE)[..., [1, 2, 0]], COVARIANCE[[0, 1, 2], [1, 2, 0]]),
        },
    ),
    "triangle": (
        triangle,
        lambda rng, n: rng.dirichlet(np.ones(3), n)[:, :2],
        partial(random_walk, scale=0.3),
        {
            "x": (lambda x: x, np.full(2, 1 / 3)),
            "squares": (lambda x: x**2, np.full(2, 1 / 6)),
            "product": (lambda x: x.prod(axis=-1, keepdims=True), np.array([1 / 12])),
        },
    ),
    "gamma, log-normal walk": (
        gamma,
        lambda rng, n: rng.gamma(3, 1 / 2, (n, 2)),
        partial(log_normal_walk, scale=0.8),
        {"x": (lambda x: x, np.full(2, 1.5)), "log x": (np.log, np.full(2, special.digamma(3) - np.log(2)))},
    ),
    "gamma, random walk": (
        gamma,
        lambda rng, n: rng.gamma(3, 1 / 2, (n, 1)),
        partial(random_walk, scale=2.0),
        {"x": (lambda x: x, np.array([1.5])), "x < 1": (lambda x: x < 1, np.array([1 - 5 * np.exp(-2)]))},
    ),
    "laplace, independence": (
        laplace,
        lambda rng, n: rng.laplace(size=(n, 2)),
        partial(independence, mean=np.array([0.5, -0.5]), scale=2.0),
        {"x": (lambda x: x, np.zeros(2)), "|x|": (lambda x: abs(x), np.ones(2))},
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_sample_keeps_the_exact_moments_of_its_target(name, rng):
    target, exact, propose, moments = TARGETS[name]
    n_chains = 2000
    result = sample(target, exact(rng, n_chains), 30, propose=propose, rng=rng)
    for what, (function, expected) in moments.items():
        # The chains begin with exact draws, so they are right on average at every step, and independent of each other.
        means = function(result.draws).mean(axis=1)
        # Their means are skewed by up to 2.7, which makes a tail of 2000 chains up to 100 times as heavy: hence 1e-9.
        assert_mean(means, expected, f"{what} of sample, for the target {name},", "the exact moment", error=1e-9)


def test_sample_finds_its_target_from_elsewhere(rng):
    result = sample(laplace, np.full((N // 4, 1), 8.0), 100, propose=partial(random_walk, scale=3.0), rng=rng)
    size = abs(result.draws[:, -1, 0])
    # After 100 steps nothing is left of the start: about a third of them are taken, and each is 3 wide.
    assert_mean(size, 1, "|x| of sample for a Laplace density, 100 steps from x = 8,", "the exact moment", sd=1)


def test_sample_does_not_need_the_normalising_constant():
    def run(constant):
        rng = np.random.default_rng(1)
        return sample(
            lambda x: laplace(x) + constant, np.zeros((3, 2)), 50, propose=partial(random_walk, scale=1.0), rng=rng
        )

    assert_close(run(1024.0).draws, run(0.0).draws, "sample with 1024 added to the log density", "the draws without it")


def test_sample_takes_all_its_randomness_from_its_generator():
    def run(seed):
        rng = np.random.default_rng(seed)
        return sample(laplace, np.zeros((4, 2)), 20, propose=partial(random_walk, scale=1.0), rng=rng).draws

    assert_close(run(1), run(1), "sample with the same seed for the second time", "the draws of the first time")
    assert (run(1) != run(2)).any(), "sample returned the same draws for two different seeds"


def test_sample_leaves_its_start_alone(rng):
    start = np.zeros((3, 2))
    sample(laplace, start, 10, propose=partial(random_walk, scale=1.0), rng=rng)
    assert not start.any(), "sample changed the array `position` that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    "start", [np.array([[1.0], [-1.0]]), np.array([[np.nan]]), np.array([[np.inf]]), np.ones(3), np.ones((0, 1))]
)
def test_sample_refuses_a_start_without_density_or_of_wrong_rank(start, rng):
    with pytest.raises(ValueError, match="position must"):
        sample(gamma, start, 10, propose=partial(random_walk, scale=1.0), rng=rng)


@pytest.mark.given
@pytest.mark.parametrize("n_draws", [0, -1])
def test_sample_refuses_to_make_no_draws(n_draws, rng):
    with pytest.raises(ValueError, match="n_draws must"):
        sample(laplace, np.ones((2, 1)), n_draws, propose=partial(random_walk, scale=1.0), rng=rng)


@pytest.mark.given
def test_sample_refuses_a_target_that_returns_no_log_density(rng):
    with pytest.raises(ValueError, match="log_density_fn must"):
        sample(lambda x: x, np.ones((2, 1)), 10, propose=partial(random_walk, scale=1.0), rng=rng)
