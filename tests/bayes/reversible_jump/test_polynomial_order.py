"""Shared tests of bayes/reversible_jump/polynomial_order: run on the reference, and on the learner's file.

What goes by chance is checked over independent chains, by 15 checks that a right solution fails with a probability of 1e-8 each.
"""

import numpy as np
import pytest
from scipy import integrate, stats

from mlpath.bayes.reversible_jump.polynomial_order import (
    Model,
    Proposal,
    birth,
    death,
    log_posterior,
    log_ratio,
    move_probabilities,
    order_posterior,
    orthonormal_basis,
    redraw,
    sample,
)
from mlpath.testing import assert_close, assert_frequencies, assert_frequency, assert_mean, assert_variance

N = 5_000


@pytest.fixture
def rng():
    return np.random.default_rng(1995)


# A planted parabola, so noisy that several orders are plausible

X = np.sort(np.random.default_rng(1).uniform(-3, 8, 23))
Y = 4 + 0.5 * X - 0.05 * (X - 2) ** 2 + np.random.default_rng(2).normal(0, 1.5, 23)
LOG_PRIOR = np.array([-0.3, -1.2, -0.1, -1.0, -0.6, 0.4])
MODEL = Model(Y, orthonormal_basis(X, 5), 1.5, 2.5, LOG_PRIOR)
PROPOSAL = Proposal(np.array([9.0, 0.8, -0.3, 0.1, -0.2, 0.3]), np.array([5.0, 0.9, 0.4, 0.5, 0.25, 0.6]), share=0.45)
"""Neither narrow enough to be stuck, nor the best."""


def conditional(model=MODEL):
    """Mean and standard deviation of each coefficient given that it is there, by the inverse of a matrix."""
    precision = model.basis.T @ model.basis / model.noise**2 + np.eye(len(model.log_prior)) / model.spread**2
    covariance = np.linalg.inv(precision)
    return covariance @ model.basis.T @ model.y / model.noise**2, np.sqrt(np.diag(covariance))


def log_evidence(model, k):
    """log p(y | k): the data are jointly normal."""
    basis = model.basis[:, : k + 1]
    covariance = model.noise**2 * np.eye(len(model.y)) + model.spread**2 * basis @ basis.T
    return stats.multivariate_normal.logpdf(model.y, np.zeros(len(model.y)), covariance)


def exact_orders(model=MODEL):
    log_joint = model.log_prior + [log_evidence(model, k) for k in range(len(model.log_prior))]
    return np.exp(log_joint - log_joint.max()) / np.exp(log_joint - log_joint.max()).sum()


def states(low, high):
    """Chains at each order from `low` to `high`, several of each, with plausible coefficients."""
    order = np.tile(np.arange(low, high + 1), 4)
    mean, sd = conditional()
    drawn = mean + 2 * sd * np.random.default_rng(3).standard_normal((len(order), len(mean)))
    return order, np.where(np.arange(len(mean)) <= order[:, None], drawn, 0.0)


# log_ratio


def test_log_ratio_adds_target_proposal_and_the_log_of_the_determinant():
    jacobian = np.array([[[2.0, 1.0], [0.5, 3.0]], [[0.5, 0.1], [7.0, 2.0]], [[1.0, 4.0], [1.0, 1.0]]])
    found = log_ratio(np.array([-1.0, 2.0, 0.25]), np.array([0.5, -0.75, 1.0]), jacobian)
    expected = [-0.5 + np.log(5.5), 1.25 + np.log(0.3), 1.25 + np.log(3.0)]
    assert_close(found, expected, "log_ratio([-1, 2, 0.25], [0.5, -0.75, 1], matrices of det 5.5, 0.3 and -3)", "(4)")


def test_log_ratio_takes_the_size_of_the_determinant_only():
    found = log_ratio(np.zeros(2), np.zeros(2), np.array([[[0.0, 2.0], [2.0, 0.0]], [[-4.0, 0.0], [0.0, 1.0]]]))
    assert_close(found, np.log([4.0, 4.0]), "log_ratio(0, 0, matrices of det -4)", "equation (4): |det J|")


def test_log_ratio_of_a_map_and_its_inverse_are_opposite(rng):
    jacobian, target, proposal = rng.normal(size=(40, 4, 4)), rng.normal(0, 5, 40), rng.normal(0, 5, 40)
    there = log_ratio(target, proposal, jacobian)
    back = log_ratio(-target, -proposal, np.linalg.inv(jacobian))
    assert_close(back, -there, "log_ratio of the way back", "minus that of the way there", atol=1e-9)


def test_log_ratio_takes_tiny_matrices_for_what_they_are():
    found = log_ratio(np.zeros(1), np.zeros(1), 1e-200 * np.eye(3)[None])
    assert_close(found, [-600 * np.log(10)], "log_ratio(0, 0, 1e-200 times the identity of 3 rows)", "equation (4)")


def test_log_ratio_of_a_target_that_is_zero_there_is_minus_infinity():
    found = log_ratio(np.array([-np.inf, 1.0]), np.array([3.0, 1.0]), np.ones((2, 1, 1)))
    assert_close(found, [-np.inf, 2.0], "log_ratio([-inf, 1], [3, 1], ones)", "equation (4)")


@pytest.mark.parametrize("singular", [np.zeros((1, 1)), np.array([[1.0, 0.0], [3.0, 0.0]]), np.zeros((3, 3))])
def test_log_ratio_refuses_a_map_that_cannot_be_inverted(singular):
    jacobian = np.stack([np.eye(len(singular)), singular, 2 * np.eye(len(singular))])
    with pytest.raises(ValueError, match="jacobian"):
        log_ratio(np.zeros(3), np.zeros(3), jacobian)


def test_log_ratio_leaves_its_arguments_alone():
    target, proposal, jacobian = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.full((2, 1, 1), 5.0)
    log_ratio(target, proposal, jacobian)
    same = (target == [1, 2]).all() and (proposal == [3, 4]).all() and (jacobian == 5).all()
    assert same, "log_ratio changed one of its arguments"


@pytest.mark.given
def test_log_ratio_refuses_pieces_that_are_none():
    for bad in (np.array([np.nan, 0.0]), np.array([0.0, np.inf])):
        with pytest.raises(ValueError, match="log_target_ratio must"):
            log_ratio(bad, np.zeros(2), np.ones((2, 1, 1)))
        with pytest.raises(ValueError, match="log_proposal_ratio must"):
            log_ratio(np.zeros(2), bad, np.ones((2, 1, 1)))
    for matrix in (np.ones(2), np.ones((2, 1, 2)), np.full((2, 1, 1), np.inf), np.full((2, 1, 1), np.nan)):
        with pytest.raises(ValueError, match="jacobian must"):
            log_ratio(np.zeros(2), np.zeros(2), matrix)


# move_probabilities


def test_move_probabilities_of_four_orders():
    up, down = move_probabilities(np.log([0.1, 0.4, 0.3, 0.2]), share=0.4)
    call = "move_probabilities(log([0.1, 0.4, 0.3, 0.2]), share=0.4)"
    assert_close(up, [0.4, 0.3, 0.4 * 2 / 3, 0.0], f"birth of {call}", "equation (5)")
    assert_close(down, [0.0, 0.1, 0.4, 0.4], f"death of {call}", "equation (5)")


def test_move_probabilities_balance_the_prior():
    prior = np.exp(LOG_PRIOR)
    up, down = move_probabilities(LOG_PRIOR, share=0.35)
    call = "b_k p(k) of move_probabilities(..., share=0.35)"
    assert_close(up[:-1] * prior[:-1], down[1:] * prior[1:], call, "what follows from (5): d_(k+1) p(k+1)")
    assert max(up.max(), down.max()) <= 0.35 + 1e-12, f"a probability is {max(up.max(), down.max())}, above the share"
    assert (up[-1], down[0]) == (0, 0), f"at the last order b is {up[-1]}, at the first d is {down[0]}; both are 0"


def test_move_probabilities_need_no_constant_and_survive_steep_priors():
    up, down = move_probabilities(np.array([900.0, 300.0, 950.0]))
    call = "move_probabilities([900, 300, 950])"
    assert_close(up, [0.5 * np.exp(-600.0), 0.5, 0.0], f"birth of {call}", "equation (5) with c = 1/2")
    assert_close(down, [0.0, 0.5, 0.5 * np.exp(-650.0)], f"death of {call}", "equation (5) with c = 1/2")


def test_move_probabilities_of_one_order_are_zero():
    up, down = move_probabilities(np.array([-3.0]))
    assert_close(np.stack([up, down]), [[0.0], [0.0]], "move_probabilities([-3])", "equation (5)")


@pytest.mark.given
def test_move_probabilities_refuse_what_is_no_prior_or_no_share():
    for share in (0.0, -0.1, 0.6, np.nan):
        with pytest.raises(ValueError, match="share must"):
            move_probabilities(np.zeros(3), share=share)
    for prior in (np.zeros(0), np.array([0.0, -np.inf]), np.array([0.0, np.nan]), np.array([0.0, 800.0])):
        with pytest.raises(ValueError, match="log_prior must"):
            move_probabilities(prior)


# log_posterior


def test_log_posterior_is_the_sum_of_prior_and_likelihood():
    order, coefficients = states(0, 5)
    expected = []
    for k, row in zip(order, coefficients, strict=True):
        fit = sum(row[j] * MODEL.basis[:, j] for j in range(k + 1))
        likelihood = stats.norm.logpdf(Y, fit, 1.5).sum()
        expected.append(LOG_PRIOR[k] + stats.norm.logpdf(row[: k + 1], 0, 2.5).sum() + likelihood)
    assert_close(log_posterior(MODEL, order, coefficients), expected, "log_posterior(model, orders, ...)", "(2)")


@pytest.mark.parametrize("k", [0, 3, 5])
def test_log_posterior_is_evidence_times_conditional(k):
    order, coefficients = states(k, k)
    mean, sd = conditional()
    given_order = stats.norm.logpdf(coefficients, mean, sd)[:, : k + 1].sum(axis=1)
    found = log_posterior(MODEL, order, coefficients) - given_order
    because = "log p(k) + log p(y | k), whatever beta"
    expected = np.full(len(order), LOG_PRIOR[k] + log_evidence(MODEL, k))
    assert_close(found, expected, f"log_posterior(...) - log p(beta | k = {k}, y)", because)


def test_log_posterior_at_one_order_integrates_to_the_evidence():
    flat = Model(Y[:4], np.ones((4, 1)), 2.0, 3.0, np.zeros(1))

    def density(b):
        return float(np.exp(log_posterior(flat, np.array([0]), np.array([[b]]))[0]))

    found = integrate.quad(density, -20, 20, points=[Y[:4].mean()])[0]
    assert_close(np.log(found), log_evidence(flat, 0), "log of the integral of exp(log_posterior)", "p(y)", rtol=1e-6)


def test_log_posterior_leaves_its_arguments_alone():
    order, coefficients = states(1, 4)
    before = coefficients.copy()
    log_posterior(MODEL, order, coefficients)
    assert np.array_equal(before, coefficients), "log_posterior changed the coefficients"
    assert np.array_equal(order, states(1, 4)[0]), "log_posterior changed the orders"


# order_posterior


def test_order_posterior_is_that_of_the_evidence():
    found = np.exp(order_posterior(MODEL))
    assert_close(found, exact_orders(), "exp(order_posterior(model))", "p(k) times N(y; 0, noise + spread Q Q')")


def test_order_posterior_needs_neither_constants_nor_small_numbers():
    shifted = Model(Y, MODEL.basis, 1.5, 2.5, LOG_PRIOR - 1000)
    assert_close(order_posterior(shifted), np.log(exact_orders()), "order_posterior(log_prior - 1000)", "(9)")
    precise = Model(Y, MODEL.basis, 1e-3, 2.5, LOG_PRIOR)
    found = order_posterior(precise)
    assert np.isfinite(found).all(), "order_posterior(noise=0.001) is not finite: do it in logarithms"
    squares = 23 * np.cumsum((MODEL.basis.T @ Y / 23) ** 2) / 2e-6
    # What a tiny noise leaves of (8): the fit, the width of the posterior, the prior at the estimate.
    width = np.arange(6) * np.log(1e-3 / 2.5 / np.sqrt(23)) - np.cumsum((MODEL.basis.T @ Y / 23) ** 2) / 2 / 2.5**2
    expected = squares + width + LOG_PRIOR
    assert_close(
        np.diff(found), np.diff(expected), "differences of order_posterior(noise=0.001)", "(8), (9)", rtol=1e-6
    )


def test_order_posterior_finds_the_planted_order():
    rng = np.random.default_rng(8)
    x = rng.uniform(1900, 2000, 200)
    t = (x - 1950) / 50
    y = 3 - 2 * t + 4 * t**3 + rng.normal(0, 0.5, 200)
    found = np.exp(order_posterior(Model(y, orthonormal_basis(x, 9), 0.5, 3.0, np.zeros(10))))
    assert found.argmax() == 3, f"order_posterior finds order {found.argmax()} for data made with order 3"
    assert found[3] > 0.8, f"order_posterior gives the planted order 3 the probability {found[3]:.2f}"


SPEED = (
    "4 4 7 7 8 9 10 10 10 11 11 12 12 12 12 13 13 13 13 14 14 14 14 15 15 15 16 16 17 17 17 18 18 18 18 19 19 19 20 20"
)
STOP = "2 10 4 22 16 10 18 26 34 17 28 14 20 24 28 26 34 34 46 26 36 60 80 20 26 54 32 40 32 40 50 42 56 76 84 36 46 68 32 48"


def test_order_posterior_of_the_stopping_distances_of_cars():
    """Speeds in miles an hour and distances in feet of 50 cars: Ezekiel (1930), Methods of Correlation Analysis."""
    x = np.array([*map(float, SPEED.split()), 20, 20, 20, 22, 23, 24, 24, 24, 24, 25])
    y = np.array([*map(float, STOP.split()), 52, 56, 64, 66, 54, 70, 92, 93, 120, 85])
    model = Model(y, orthonormal_basis(x, 4), 15.0, 50.0, np.zeros(5))
    found = np.exp(order_posterior(model))
    assert_close(found, exact_orders(model), "exp(order_posterior(cars))", "the exact evidence", rtol=1e-8)
    assert found.argmax() == 1, f"order_posterior prefers order {found.argmax()} for the cars; a straight line is best"


# redraw


WIDE, NARROW = (Model(Y[:6], orthonormal_basis(X[:6], 3), 0.5, spread, np.zeros(4)) for spread in (40.0, 0.2))


@pytest.mark.parametrize("model", [MODEL, WIDE, NARROW], ids=["23 points", "wide prior", "narrow prior"])
def test_redraw_is_as_wide_as_data_and_prior_leave_it(model, rng):
    z = redraw(model, np.full(N, 3), rng=rng)[:, :4] / conditional(model)[1][:4]
    call = f"beta / sd of redraw({len(model.y)} points, noise={model.noise}, spread={model.spread})"
    assert_variance(z, 1, call, "equation (7)")


@pytest.mark.parametrize("model", [MODEL, WIDE, NARROW], ids=["23 points", "wide prior", "narrow prior"])
def test_redraw_is_centred_between_estimate_and_prior(model, rng):
    mean, sd = conditional(model)
    z = (redraw(model, np.full(N, 3), rng=rng)[:, :4] - mean[:4]) / sd[:4]
    call = f"(beta - mean) / sd of redraw({len(model.y)} points, noise={model.noise}, spread={model.spread})"
    assert_mean(z, 0, call, "equation (7)")


def test_redraw_makes_independent_coefficients(rng):
    drawn = redraw(MODEL, np.full(N, 3), rng=rng)
    z = (drawn - drawn.mean(axis=0))[:, 1:3] / drawn.std(axis=0)[1:3]
    # Independent standard normal numbers have a product of mean 0 and variance 1.
    assert_mean(z[:, 0] * z[:, 1], 0, "the product of beta_1 and beta_2, standardised, of redraw", "(7)", sd=1)


def test_redraw_fills_each_row_up_to_its_order(rng):
    order = np.array([4, 0, 2, 5, 1, 3, 0])
    drawn = redraw(MODEL, order, rng=rng)
    expected = np.arange(6) <= order[:, None]
    assert drawn.shape == (7, 6), f"redraw(7 chains, K = 5) has shape {drawn.shape}"
    assert np.array_equal(drawn != 0, expected), (
        f"redraw(orders {order.tolist()}) has other rows than order + 1 entries"
    )
    assert len(np.unique(drawn[:, 0])) == 7, "redraw gives the same beta_0 to several chains"
    assert np.array_equal(order, [4, 0, 2, 5, 1, 3, 0]), "redraw changed the orders"


# birth and death


def by_hand(u, lower, upper, k, proposal=PROPOSAL):
    """Log of traffic down over traffic up, without the acceptances, by the densities of beta itself: equation (3)."""
    prior = np.exp(LOG_PRIOR)
    b = proposal.share * min(1, prior[k + 1] / prior[k])
    d = proposal.share * min(1, prior[k] / prior[k + 1])
    made = stats.norm.logpdf(upper[k + 1], proposal.centre[k + 1], proposal.scale[k + 1])
    target = []
    for n_terms, row in ((k + 1, lower), (k + 2, upper)):
        fit = MODEL.basis[:, :n_terms] @ row[:n_terms]
        target.append(
            LOG_PRIOR[n_terms - 1]
            + stats.norm.logpdf(row[:n_terms], 0, 2.5).sum()
            + stats.norm.logpdf(Y, fit, 1.5).sum()
        )
    return target[1] + np.log(d) - target[0] - np.log(b) - made


def test_birth_appends_a_coefficient_made_from_u():
    order, coefficients = states(0, 4)
    u = np.linspace(-2, 3, len(order))
    jump = birth(MODEL, PROPOSAL, order, coefficients, u)
    assert_close(jump.order, order + 1, "birth(...).order", "k + 1")
    expected = coefficients.copy()
    for i, k in enumerate(order):
        expected[i, k + 1] = PROPOSAL.centre[k + 1] + PROPOSAL.scale[k + 1] * u[i]
    assert_close(jump.coefficients, expected, "birth(...).coefficients", "equation (6)")


def test_birth_has_the_ratio_that_balances_the_traffic():
    order, coefficients = states(0, 4)
    u = np.linspace(-2, 3, len(order))
    jump = birth(MODEL, PROPOSAL, order, coefficients, u)
    rows = zip(u, coefficients, jump.coefficients, order, strict=True)
    assert_close(jump.log_ratio, [by_hand(*row) for row in rows], "birth(...).log_ratio", "equations (3) and (4)")


def test_birth_from_the_conditional_has_a_ratio_without_chance(rng):
    mean, sd = conditional()
    order, coefficients = states(2, 2)
    jump = birth(MODEL, Proposal(mean, sd), order, coefficients, rng.standard_normal(4))
    exact = exact_orders()
    b, d = (0.5 * min(1, np.exp(sign * (LOG_PRIOR[3] - LOG_PRIOR[2]))) for sign in (1, -1))
    expected = np.full(4, np.log(exact[3] * d / exact[2] / b))
    call = "birth(..., the conditional as proposal, order 2).log_ratio"
    assert_close(jump.log_ratio, expected, call, "p(3 | y) d_3 / (p(2 | y) b_2), whatever u", rtol=1e-8)


def test_birth_does_not_care_in_which_units_u_is_scaled():
    """The same new coefficient by another scale: only the density of having made it differs."""
    order, coefficients = states(1, 1)
    found = []
    for factor in (1.0, 10.0):
        proposal = Proposal(np.zeros(6), np.full(6, 0.1 * factor))
        jump = birth(MODEL, proposal, order, coefficients, np.full(4, 0.7 / factor))
        found.append(jump.log_ratio + stats.norm.logpdf(0.7 / factor) - np.log(factor))
    assert_close(found[1], found[0], "log_ratio + log g(u) - log s of the same birth, s ten times larger", "(4)")


def test_birth_leaves_its_arguments_alone():
    order, coefficients = states(0, 4)
    birth(MODEL, PROPOSAL, order, coefficients, np.ones(len(order)))
    same = np.array_equal(order, states(0, 4)[0]) and np.array_equal(coefficients, states(0, 4)[1])
    assert same, "birth changed the orders or the coefficients that it was given"


def test_birth_of_no_chains_is_empty():
    jump = birth(MODEL, PROPOSAL, np.zeros(0, dtype=int), np.zeros((0, 6)), np.zeros(0))
    shapes = jump.order.shape, jump.coefficients.shape, jump.log_ratio.shape
    assert shapes == ((0,), (0, 6), (0,)), f"birth of no chains has arrays of shapes {shapes}"


def test_death_gives_up_the_last_coefficient():
    order, coefficients = states(1, 5)
    jump = death(MODEL, PROPOSAL, order, coefficients)
    assert_close(jump.order, order - 1, "death(...).order", "k - 1")
    expected = np.where(np.arange(6) < order[:, None], coefficients, 0.0)
    assert_close(jump.coefficients, expected, "death(...).coefficients", "the row without its last entry")


def test_death_has_the_ratio_that_balances_the_traffic():
    order, coefficients = states(1, 5)
    jump = death(MODEL, PROPOSAL, order, coefficients)
    rows = zip(order, jump.coefficients, coefficients, order - 1, strict=True)
    expected = [-by_hand(*row) for row in rows]
    assert_close(jump.log_ratio, expected, "death(...).log_ratio", "equations (3) and (4)")


def test_death_is_the_reverse_of_birth():
    order, coefficients = states(0, 4)
    there = birth(MODEL, PROPOSAL, order, coefficients, np.linspace(-2, 3, len(order)))
    back = death(MODEL, PROPOSAL, there.order, there.coefficients)
    assert_close(back.order, order, "death(birth(...)).order", "where it came from")
    assert_close(back.coefficients, coefficients, "death(birth(...)).coefficients", "where it came from")
    assert_close(back.log_ratio, -there.log_ratio, "death(birth(...)).log_ratio", "minus that of birth", atol=1e-9)


def test_death_leaves_its_arguments_alone():
    order, coefficients = states(1, 5)
    death(MODEL, PROPOSAL, order, coefficients)
    same = np.array_equal(order, states(1, 5)[0]) and np.array_equal(coefficients, states(1, 5)[1])
    assert same, "death changed the orders or the coefficients that it was given"


def test_death_of_no_chains_is_empty():
    jump = death(MODEL, PROPOSAL, np.zeros(0, dtype=int), np.zeros((0, 6)))
    shapes = jump.order.shape, jump.coefficients.shape, jump.log_ratio.shape
    assert shapes == ((0,), (0, 6), (0,)), f"death of no chains has arrays of shapes {shapes}"


# sample


def test_sample_returns_orders_and_coefficients_that_fit_together(rng):
    start = np.tile([0, 5, 2], 20)
    run = sample(MODEL, PROPOSAL, start, 30, rng=rng)
    shapes = run.order.shape, run.coefficients.shape, run.acceptance_rate.shape
    assert shapes == ((60, 30), (60, 30, 6), (60,)), f"sample(60 chains, 30 draws, K = 5) has arrays of shapes {shapes}"
    assert np.issubdtype(run.order.dtype, np.integer), f"the orders of sample are {run.order.dtype}, not whole numbers"
    there = np.arange(6) <= run.order[..., None]
    wrong = np.count_nonzero((run.coefficients != 0) != there)
    assert not wrong, f"in sample(...).coefficients {wrong} entries are 0 up to the order or not 0 beyond it"
    assert np.array_equal(start, np.tile([0, 5, 2], 20)), "sample changed the orders that it was given"


def test_sample_moves_one_order_at_a_time_and_counts_it(rng):
    start = np.tile([0, 5, 2], 20)
    run = sample(MODEL, PROPOSAL, start, 30, rng=rng)
    steps = np.diff(run.order, axis=1, prepend=start[:, None])
    assert abs(steps).max() == 1, f"sample changes the order by up to {abs(steps).max()} in one step"
    rate = np.count_nonzero(steps, axis=1) / 30
    assert_close(run.acceptance_rate, rate, "sample(...).acceptance_rate", "the share of steps with another order")


def test_sample_draws_all_coefficients_anew_at_each_step(rng):
    run = sample(MODEL, PROPOSAL, np.full(30, 4), 20, rng=rng)
    before, after = run.coefficients[:, :-1], run.coefficients[:, 1:]
    same = np.count_nonzero((before == after) & (before != 0))
    assert not same, f"{same} coefficients of sample(30 chains, 20 draws) are the same as one step before"


@pytest.mark.parametrize("k", [0, 2, 5])
def test_sample_changes_the_order_as_often_as_it_should(k, rng):
    """With the conditional as proposal, the acceptance does not go by chance, so that one step is known exactly."""
    mean, sd = conditional()
    run = sample(MODEL, Proposal(mean, sd, share=0.4), np.full(N, k), 1, rng=rng)
    prior, exact = np.exp(LOG_PRIOR), exact_orders()
    ups = downs = 0.0
    if k < 5:
        b, d = 0.4 * min(1, prior[k + 1] / prior[k]), 0.4 * min(1, prior[k] / prior[k + 1])
        ups = b * min(1, exact[k + 1] * d / exact[k] / b)
    if k > 0:
        b, d = 0.4 * min(1, prior[k] / prior[k - 1]), 0.4 * min(1, prior[k - 1] / prior[k])
        downs = d * min(1, exact[k - 1] * b / exact[k] / d)
    counts = [np.count_nonzero(run.order[:, 0] == k + step) for step in (-1, 0, 1)]
    call = f"orders {k - 1}, {k} and {k + 1} after one step of sample from order {k}"
    assert_frequencies(counts, [downs, 1 - ups - downs, ups], call, "equations (4), (5) and (9)")


def test_sample_draws_u_from_the_standard_normal_law(rng):
    """A proposal that is off by two standard deviations: births are good where u is about -1, and the mean is an integral."""
    mean, sd = conditional()
    run = sample(MODEL, Proposal(mean + 2 * sd, 2 * sd), np.full(N, 1), 1, rng=rng)
    u = stats.norm.ppf((np.arange(10_000) + 0.5) / 10_000)
    prior, exact = np.exp(LOG_PRIOR), exact_orders()
    b, d = 0.5 * min(1, prior[2] / prior[1]), 0.5 * min(1, prior[1] / prior[2])
    # The new coefficient is 2 + 2 u standard deviations from its mean given the data.
    ratio = exact[2] * d / exact[1] / b * 2 * stats.norm.pdf(2 + 2 * u) / stats.norm.pdf(u)
    expected = b * np.minimum(ratio, 1).mean()
    count = np.count_nonzero(run.order[:, 0] == 2)
    call = "births in one step of sample from order 1, by a proposal two standard deviations off,"
    assert_frequency(count, N, expected, call, "equation (4), over u from the standard normal law")


def test_sample_stays_in_the_posterior_where_it_starts_there(rng):
    exact = exact_orders()
    run = sample(MODEL, PROPOSAL, rng.choice(6, N, p=exact), 4, rng=rng)
    counts = np.bincount(run.order[:, -1], minlength=6)
    assert_frequencies(counts, exact, "orders after 4 steps of sample from exact orders", "p(k | y), equation (9)")


def test_sample_has_coefficients_of_the_right_law_wherever_it_starts(rng):
    run = sample(MODEL, PROPOSAL, np.full(N, 2), 1, rng=rng)
    mean, sd = conditional()
    # Each chain has beta_0 and beta_1, and they do not depend on the order.
    z = (run.coefficients[:, 0, :2] - mean[:2]) / sd[:2]
    call = "(beta - mean) / sd of beta_0 and beta_1 after one step of sample from order 2"
    assert_mean(z, 0, call, "equation (7)")


def test_sample_draws_newborn_coefficients_anew_too(rng):
    mean, sd = conditional()
    run = sample(MODEL, Proposal(mean, sd / 4), np.full(N, 1), 1, rng=rng)
    z = (run.coefficients[run.order[:, 0] == 2, 0, 2] - mean[2]) / sd[2]
    assert_variance(z, 1, "(beta - mean) / sd of the newborn beta_2 after one step of sample from order 1", "(7)")


def test_sample_always_takes_what_is_better(rng):
    """Data with log B of -0.4 for the last coefficient there and 0.4 for the next: log A is 0.4 either way."""
    strength = 23 * 2.0**2  # n tau^2 / sigma^2
    log_factor = np.array([0.0, 0.0, -0.4, 0.4, 0.0, 0.0])
    z = np.sqrt((log_factor + np.log1p(strength) / 2) * 2 / 23 * (1 + strength) / strength)
    model = Model(MODEL.basis @ z, MODEL.basis, 1.0, 2.0, np.zeros(6))
    run = sample(model, Proposal(*conditional(model)), np.full(N, 2), 1, rng=rng)
    counts = [np.count_nonzero(run.order[:, 0] == k) for k in (1, 2, 3)]
    call = "orders 1, 2 and 3 after one step of sample from an order that is the worst"
    assert_frequencies(counts, [0.5, 0.0, 0.5], call, "min(1, A) = 1 both ways, b = d = 1/2")


def test_sample_takes_what_is_worse_at_times(rng):
    run = sample(MODEL, Proposal(*conditional()), np.full(10, 1), 60, rng=rng)
    # A is 0.37 upwards: order 1 is left once in six steps or so, and no right solution stays 600 times.
    assert (run.order != 1).any(), "10 chains of sample stay for 60 steps at order 1, although order 2 is as probable"


def test_sample_never_goes_where_the_posterior_is_as_good_as_zero(rng):
    model = Model(MODEL.basis[:, :3] @ np.array([4.0, 1.0, -2.0]), MODEL.basis, 0.01, 2.5, np.zeros(6))
    run = sample(model, Proposal(*conditional(model)), np.full(10, 2), 60, rng=rng)
    assert run.order.min() == 2, f"sample visits order {run.order.min()}, of which p(k | y) is below 1e-1000"


@pytest.mark.given
def test_sample_refuses_orders_out_of_range_and_no_draws(rng):
    for order in (np.array([0, 6]), np.array([-1, 2]), np.array([[1]]), np.array([0.5])):
        with pytest.raises(ValueError, match="order must"):
            sample(MODEL, PROPOSAL, order, 3, rng=rng)
    with pytest.raises(ValueError, match="n_draws must"):
        sample(MODEL, PROPOSAL, np.array([1]), 0, rng=rng)


# given


@pytest.mark.given
def test_orthonormal_basis_is_orthonormal_and_of_rising_degree():
    x = np.random.default_rng(4).uniform(1900, 2000, 60)
    basis = orthonormal_basis(x, 8)
    assert_close(basis.T @ basis / 60, np.eye(9), "Q'Q / n of orthonormal_basis(years, 8)", "(1)", atol=1e-12)
    t = (x - 1950) / 50
    leading = [np.polynomial.Polynomial.fit(t, basis[:, j], j).convert().coef[-1] for j in range(9)]
    assert min(leading) > 0, f"a leading coefficient of orthonormal_basis is {min(leading):.3g}, not positive"


@pytest.mark.given
def test_orthonormal_basis_refuses_too_few_points():
    for x, order in ((np.array([1.0, 1.0, 2.0]), 2), (np.ones((2, 2)), 0), (np.array([1.0, np.nan]), 1), (X, -1)):
        with pytest.raises(ValueError, match=r"(x|max_order) must"):
            orthonormal_basis(x, order)


@pytest.mark.given
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"y": Y[:-1]}, "y"),
        ({"basis": 2 * MODEL.basis}, "basis"),
        ({"noise": 0.0}, "noise"),
        ({"spread": np.inf}, "spread"),
        ({"log_prior": np.zeros(5)}, "log_prior"),
        ({"log_prior": np.array([0, 0, 0, 0, 0, -np.inf])}, "log_prior"),
    ],
)
def test_model_refuses_what_does_not_fit(change, name):
    fields = {"y": Y, "basis": MODEL.basis, "noise": 1.5, "spread": 2.5, "log_prior": LOG_PRIOR}
    with pytest.raises(ValueError, match=f"{name} must"):
        Model(**{**fields, **change})


@pytest.mark.given
def test_proposal_refuses_what_does_not_fit():
    for centre, scale, share in (
        (np.array([np.nan, 0.0]), np.ones(2), 0.5),
        (np.zeros(2), np.ones(3), 0.5),
        (np.zeros(2), np.array([1.0, 0.0]), 0.5),
        (np.zeros(2), np.ones(2), 0.7),
    ):
        with pytest.raises(ValueError, match=r"(centre|scale|share) must"):
            Proposal(centre, scale, share)


@pytest.mark.given
def test_birth_and_death_refuse_orders_that_lead_nowhere():
    for k in (5, -1):
        with pytest.raises(ValueError, match="order must"):
            birth(MODEL, PROPOSAL, np.array([k]), np.zeros((1, 6)), np.zeros(1))
    for k in (0, 6):
        with pytest.raises(ValueError, match="order must"):
            death(MODEL, PROPOSAL, np.array([k]), np.zeros((1, 6)))
    for act in (lambda k: log_posterior(MODEL, k, np.zeros((1, 6))), lambda k: redraw(MODEL, k, rng=None)):  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="order must"):
            act(np.array([6]))
