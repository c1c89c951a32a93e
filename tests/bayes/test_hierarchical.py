"""Shared tests of bayes/hierarchical: run on the reference, and on the learner's file.

Nearly all is exact algebra: densities against SciPy's, gradients against differences, the grid against linear systems. One test runs
Hamiltonian Monte Carlo, and a right solution fails it with a probability of 1e-8.
"""

import warnings

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes._targets import eight_schools
from mlpath.bayes.hierarchical import (
    Model,
    centred,
    conditional_moments,
    exact_moments,
    log_marginal,
    log_tau_grid,
    non_centred,
    pool,
    run,
    shrinkage,
    to_centred,
)
from mlpath.testing import assert_close, assert_mean

SCHOOLS = Model(*eight_schools())
THREE = Model(np.array([4.0, -1.0, 2.5]), np.array([0.5, 2.0, 1.0]), mean_scale=3.0, spread_scale=0.7)
MODELS = {"schools": SCHOOLS, "three groups": THREE, "one group": Model(np.array([2.0]), np.array([1.5]), 4.0, 2.0)}


@pytest.fixture
def rng():
    return np.random.default_rng(20240820)


def positions(model, rng, n=6):
    return np.hstack([rng.normal(0, 2, (n, 1)), rng.normal(0, 1, (n, 1)), rng.normal(1, 2, (n, len(model.effects)))])


def joint(model, mean, tau, theta):
    """The log density of data, effects, common mean and tau, of equation (1), by SciPy; up to the constant of p(tau)."""
    return (
        stats.norm(theta, model.errors).logpdf(model.effects).sum()
        + stats.norm(mean, tau).logpdf(theta).sum()
        + stats.norm(0, model.mean_scale).logpdf(mean)
        - np.log1p((tau / model.spread_scale) ** 2)
    )


def differences(function, x, nudge=1e-5):
    """The gradient of each row by central differences."""
    columns = []
    for i in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[i] = nudge
        columns.append((function(x + step) - function(x - step)) / (2 * nudge))
    return np.stack(columns, axis=1)


# given


@pytest.mark.given
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((np.ones((2, 2)), np.ones((2, 2))), "effects"),
        ((np.ones(0), np.ones(0)), "effects"),
        ((np.array([1.0, np.nan]), np.ones(2)), "effects"),
        ((np.ones(2), np.ones(3)), "errors"),
        ((np.ones(2), np.array([1.0, 0.0])), "errors"),
        ((np.ones(2), np.array([1.0, np.inf])), "errors"),
        ((np.ones(2), np.ones(2), 0.0), "mean_scale"),
        ((np.ones(2), np.ones(2), 1.0, np.nan), "spread_scale"),
    ],
)
def test_model_refuses_what_is_none(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        Model(*arguments)


# shrinkage


def test_shrinkage_by_hand():
    found = shrinkage(np.array([0.0, 1.0, 3.0]), np.array([1.0, 3.0]))
    expected = np.array([[0, 0], [0.5, 0.1], [0.9, 0.5]])
    assert_close(found, expected, "shrinkage([0, 1, 3], [1, 3])", "equation (2)")


def test_shrinkage_pools_all_or_nothing_at_the_ends():
    found = shrinkage(np.array([1e-9, 1e9]), SCHOOLS.errors)
    assert_close(found, np.repeat([[0.0], [1.0]], 8, axis=1), "shrinkage([1e-9, 1e9], ...)", "(2)", atol=1e-15)
    assert found.shape == (2, 8), f"shrinkage of two values of tau and eight errors has shape {found.shape}"


# conditional_moments


def by_linear_algebra(model, tau):
    """Mean and covariance of the common mean and the effects given tau: all are normal together."""
    n = len(model.effects)
    precision = np.zeros((n + 1, n + 1))
    precision[0, 0] = 1 / model.mean_scale**2 + n / tau**2
    precision[0, 1:] = precision[1:, 0] = -1 / tau**2
    precision[1:, 1:] = np.diag(1 / model.errors**2 + 1 / tau**2)
    covariance = np.linalg.inv(precision)
    return covariance @ np.append(0.0, model.effects / model.errors**2), np.diag(covariance)


@pytest.mark.parametrize("name", MODELS)
def test_conditional_moments_are_those_of_the_joint_normal_law(name):
    model, tau = MODELS[name], np.array([0.3, 1.0, 5.0, 40.0])
    found = conditional_moments(model, tau)
    call = f"conditional_moments({name}, [0.3, 1, 5, 40])"
    expected = [by_linear_algebra(model, value) for value in tau]
    mean, variance = (np.array(part) for part in zip(*expected))
    assert_close(found.mean, mean[:, 0], f"{call}.mean", "equation (3)", rtol=1e-8)
    assert_close(found.variance, variance[:, 0], f"{call}.variance", "equation (3)", rtol=1e-8)
    assert_close(found.group_means, mean[:, 1:], f"{call}.group_means", "equation (4)", rtol=1e-8)
    assert_close(found.group_variances, variance[:, 1:], f"{call}.group_variances", "equation (4)", rtol=1e-8)


def test_conditional_moments_at_zero_are_those_of_complete_pooling():
    found = conditional_moments(THREE, np.zeros(1))
    weights = 1 / THREE.errors**2
    variance = 1 / (weights.sum() + 1 / 9)
    mean = variance * weights @ THREE.effects
    assert_close(found.group_means, np.full((1, 3), mean), "conditional_moments at tau = 0: group_means", "(4)")
    assert_close(found.group_variances, np.full((1, 3), variance), "the same: group_variances", "(4)")


# log_marginal


@pytest.mark.parametrize("name", MODELS)
def test_log_marginal_is_the_density_of_normal_data(name):
    model, tau = MODELS[name], np.array([0.0, 0.2, 1.0, 3.0, 10.0, 100.0])
    expected = []
    for value in tau:
        covariance = np.diag(model.errors**2 + value**2) + model.mean_scale**2
        data = stats.multivariate_normal(np.zeros(len(covariance)), covariance).logpdf(model.effects)
        expected.append(data - np.log1p((value / model.spread_scale) ** 2))
    found = log_marginal(model, tau)
    call = f"log_marginal({name}, tau) minus its value at tau = 0"
    assert_close(found - found[0], np.array(expected) - expected[0], call, "equation (5)", rtol=1e-8, atol=1e-9)


def test_log_marginal_keeps_its_one_constant():
    # A constant that depends on tau, or on which values are asked for together, is none.
    alone = np.array([log_marginal(SCHOOLS, np.array([tau]))[0] for tau in (0.5, 2.0, 30.0)])
    together = log_marginal(SCHOOLS, np.array([0.5, 2.0, 30.0]))
    assert_close(np.diff(alone), np.diff(together), "differences of log_marginal, one value at a time", "all at once")


# exact_moments


def by_linear_systems(model):
    """The moments, from the joint normal law of data and unknowns at each of 600 values of t."""
    t, rows = np.linspace(-14, 13, 600), []
    for value in t:
        covariance = np.diag(model.errors**2 + np.exp(2 * value)) + model.mean_scale**2
        data = -np.linalg.slogdet(covariance)[1] - model.effects @ np.linalg.solve(covariance, model.effects)
        mean, variance = by_linear_algebra(model, np.exp(value))
        log_density = data / 2 + value - np.log1p((np.exp(value) / model.spread_scale) ** 2)
        rows.append([log_density, mean[0], value, *mean[1:], variance[0], 0.0, *variance[1:]])
    log_density, moments = np.array(rows)[:, 0], np.array(rows)[:, 1:]
    weight = np.exp(log_density - log_density.max())
    first, within = np.split(moments, 2, axis=1)
    mean = weight @ first / weight.sum()
    return mean, np.sqrt(weight @ (within + first**2) / weight.sum() - mean**2)


@pytest.mark.parametrize("name", MODELS)
def test_exact_moments_are_those_of_the_joint_law(name):
    model = MODELS[name]
    found = exact_moments(model, log_tau_grid(model))
    mean, sd = by_linear_systems(model)
    # What lies below t = -14 is left out, some 1e-6 of the whole, and matters most for the moments of t.
    assert_close(found.mean, mean, f"exact_moments({name}).mean", "(6), by linear systems", rtol=2e-4, atol=2e-4)
    assert_close(found.sd, sd, f"exact_moments({name}).sd", "(7), by linear systems", rtol=2e-4)


def test_exact_moments_of_the_eight_schools_are_those_that_are_known():
    found = exact_moments(SCHOOLS, log_tau_grid(SCHOOLS))
    # Long runs of Stan, as published many times: the common mean 4.4 with sd 3.3, the first school 6.2 with 5.6.
    assert_close(found.mean[[0, 2]], np.array([4.4, 6.2]), "exact_moments(schools).mean[[0, 2]]", "Stan", atol=0.06)
    assert_close(found.sd[[0, 2]], np.array([3.3, 5.6]), "exact_moments(schools).sd[[0, 2]]", "Stan", atol=0.06)


def test_exact_moments_do_not_depend_on_the_grid_and_survive_distant_data():
    coarse = exact_moments(SCHOOLS, np.linspace(-15, 9, 300))
    fine = exact_moments(SCHOOLS, np.linspace(-15, 9, 3000))
    assert_close(coarse.mean, fine.mean, "exact_moments on 300 points", "on 3000 points", rtol=1e-6)
    assert_close(coarse.sd, fine.sd, "exact_moments on 300 points: sd", "on 3000 points", rtol=1e-6)
    # So many groups so far apart have nothing to tell each other, and log densities of -1600.
    apart = Model(np.linspace(-4000.0, 4000.0, 200), np.linspace(0.5, 2.0, 200))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = exact_moments(apart, log_tau_grid(apart))
    call = "exact_moments of 200 groups between -4000 and 4000"
    assert_close(found.mean[2:], apart.effects, f"{call}: means", "no pooling", rtol=0, atol=0.01)
    assert_close(found.sd[2:], apart.errors, f"{call}: sd", "no pooling", rtol=0.01)


# centred


@pytest.mark.parametrize("name", MODELS)
def test_centred_is_the_density_of_the_model(name, rng):
    model = MODELS[name]
    x = positions(model, rng)
    found = centred(model, x)[0]
    expected = np.array([joint(model, row[0], np.exp(row[1]), row[2:]) + row[1] for row in x])
    call = f"centred({name}, ...)[0], minus its first,"
    assert_close(found - found[0], expected - expected[0], call, "(1) and (6), by SciPy", rtol=1e-8, atol=1e-8)


def test_centred_by_hand():
    x = np.array([[1.0, 0.0, 3.0, 0.0, 2.0]])
    found, gradient = centred(THREE, x)
    # tau = 1: -1/18, -log(1 + 1/0.49), 0, (4 + 1/4 + 1/4) / 2, 0, (4 + 1 + 1) / 2.
    expected = -1 / 18 - np.log1p(1 / 0.49) - 2.25 - 3
    assert_close(found, np.array([expected]), f"centred(three groups, {x.tolist()})[0]", "equation (8)")
    of_t = 1 - 2 / 1.49 - 3 + 6
    by_hand = np.array([[-1 / 9 + 2, of_t, 4 - 2, -0.25 + 1, 0.5 - 1]])
    assert_close(gradient, by_hand, f"centred(three groups, {x.tolist()})[1]", "the derivatives of (8)")


@pytest.mark.parametrize("name", MODELS)
def test_centred_has_the_gradient_of_its_density(name, rng):
    model = MODELS[name]
    x = positions(model, rng)
    expected = differences(lambda x: centred(model, x)[0], x)
    call = f"centred({name}, ...)[1]"
    assert_close(centred(model, x)[1], expected, call, "central differences", rtol=1e-5, atol=1e-5)


def test_centred_knows_what_the_exact_posterior_says(rng):
    # All unknowns = tau, then the common mean given it, then the effects given both.
    x = positions(SCHOOLS, rng)
    t, given = x[:, 1], conditional_moments(SCHOOLS, np.exp(x[:, 1]))
    of_mean = stats.norm(given.mean, np.sqrt(given.variance)).logpdf(x[:, 0])
    share = shrinkage(np.exp(t), SCHOOLS.errors)
    centre = share * SCHOOLS.effects + (1 - share) * x[:, :1]
    of_groups = stats.norm(centre, np.sqrt(share) * SCHOOLS.errors).logpdf(x[:, 2:]).sum(axis=1)
    expected = log_marginal(SCHOOLS, np.exp(t)) + t + of_mean + of_groups
    found = centred(SCHOOLS, x)[0]
    call = "centred(schools, ...)[0], minus its first,"
    assert_close(found - found[0], expected - expected[0], call, "(5) times (3) times (2)", rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("t", [-400.0, -40.0, 40.0, 400.0])
def test_centred_survives_extreme_spreads(t):
    x = np.array([[2.0, t, 2.0, 2.0, 2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, gradient = centred(THREE, x)
    tau_term = np.logaddexp(0, 2 * (t - np.log(0.7)))
    expected = -4 / 18 - tau_term - 2 * t - (16 + 9 / 4 + 1 / 4) / 2
    assert_close(found, np.array([expected]), f"centred(...)[0] at t = {t:g}, all effects at the mean", "equation (8)")
    of_t = -2 - 2 * (t > 0)
    expected = np.array([[-2 / 9, of_t, 8.0, -0.75, 0.5]])
    assert_close(gradient, expected, f"centred(...)[1] at t = {t:g}, all effects at the mean", "(8)", atol=1e-12)


def test_centred_makes_a_sampler_err(rng):
    found = run(SCHOOLS, is_centred=True, rng=rng, n_chains=100, n_draws=30, n_warm_up=30, n_steps=5)
    exact = exact_moments(SCHOOLS, log_tau_grid(SCHOOLS)).mean[1]
    # Over 60 seeds the mean of log tau is between -0.1 and 0.3, where 0.80 is right.
    off = abs(found.draws[:, :, 1].mean() - exact)
    assert off > 0.2, (
        f"the mean of log tau of short centred chains is off by {off:.2f} only; they should not mix so well"
    )


# non_centred


@pytest.mark.parametrize("name", MODELS)
def test_non_centred_differs_from_centred_by_its_jacobian(name, rng):
    model = MODELS[name]
    x = positions(model, rng)
    theta = x[:, :1] + np.exp(x[:, 1:2]) * x[:, 2:]
    expected = centred(model, np.hstack([x[:, :2], theta]))[0] + len(model.effects) * x[:, 1]
    assert_close(non_centred(model, x)[0], expected, f"non_centred({name}, ...)[0]", "(8) plus J t", rtol=1e-8)


def test_non_centred_by_hand():
    x = np.array([[1.0, np.log(2.0), 1.0, -0.5, 0.0]])
    found, gradient = non_centred(THREE, x)
    # tau = 2: the effects are 3, 0 and 1, the misfits over the errors 2, -0.5 and 1.5.
    expected = -1 / 18 - np.log1p(4 / 0.49) + np.log(2) - (4 + 0.25 + 2.25) / 2 - 1.25 / 2
    assert_close(found, np.array([expected]), "non_centred(three groups, [1, log 2, 1, -0.5, 0])[0]", "equation (10)")
    pull = np.array([4.0, -0.25, 1.5])
    of_t = 1 - 8 / 4.49 + 2 * (4 + 0.125)
    by_hand = np.array([[-1 / 9 + 5.25, of_t, *(2 * pull - [1, -0.5, 0])]])
    assert_close(gradient, by_hand, "non_centred(three groups, [1, log 2, 1, -0.5, 0])[1]", "the derivatives of (10)")


@pytest.mark.parametrize("name", MODELS)
def test_non_centred_has_the_gradient_of_its_density(name, rng):
    model = MODELS[name]
    x = positions(model, rng)
    expected = differences(lambda x: non_centred(model, x)[0], x)
    call = f"non_centred({name}, ...)[1]"
    assert_close(non_centred(model, x)[1], expected, call, "central differences", rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("t", [-400.0, -40.0, 40.0, 400.0])
def test_non_centred_survives_extreme_spreads(t):
    x = np.array([[2.0, t, 0.0, 0.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, gradient = non_centred(THREE, x)
    expected = -4 / 18 - np.logaddexp(0, 2 * (t - np.log(0.7))) + t - (16 + 9 / 4 + 1 / 4) / 2
    assert_close(found, np.array([expected]), f"non_centred(...)[0] at t = {t:g}, eta = 0", "equation (10)")
    pull = np.array([8.0, -0.75, 0.5])
    expected = np.array([[-2 / 9 + 7.75, 1 - 2.0 * (t > 0), *(np.exp(t) * pull)]])
    assert_close(gradient, expected, f"non_centred(...)[1] at t = {t:g}, eta = 0", "(10)", atol=1e-12)


def test_non_centred_and_centred_leave_their_positions_alone(rng):
    x = positions(THREE, rng)
    before = x.copy()
    centred(THREE, x)
    non_centred(THREE, x)
    assert np.array_equal(x, before), "centred or non_centred changed the positions that it was given"


# to_centred


def test_to_centred_by_hand():
    found = to_centred(np.array([[1.0, np.log(3.0), 2.0, -1.0, 0.0], [-2.0, 0.0, 0.5, 1.0, 4.0]]))
    expected = np.array([[1.0, np.log(3.0), 7.0, -2.0, 1.0], [-2.0, 0.0, -1.5, -1.0, 2.0]])
    assert_close(found, expected, "to_centred([[1, log 3, 2, -1, 0], [-2, 0, 0.5, 1, 4]])", "equation (9)", atol=1e-12)


def test_to_centred_takes_any_axes_before(rng):
    x = rng.normal(0, 1, (3, 4, 7))
    found = to_centred(x)
    assert found.shape == (3, 4, 7), f"to_centred of shape (3, 4, 7) has shape {found.shape}"
    for i, j in ((0, 0), (2, 3), (1, 2)):
        assert_close(found[i, j], to_centred(x[i, j]), f"to_centred(x)[{i}, {j}]", f"to_centred(x[{i}, {j}])")


def test_to_centred_brings_the_draws_of_a_sampler_to_the_exact_posterior(rng):
    found = run(SCHOOLS, is_centred=False, rng=rng, n_chains=100, n_draws=8, n_warm_up=50, n_steps=5)
    exact = exact_moments(SCHOOLS, log_tau_grid(SCHOOLS))
    assert found.divergent.mean() < 0.01, (
        f"{found.divergent.mean():.1%} of non-centred moves diverge; hardly any should"
    )
    # log tau has a long tail, which makes its chains' means skewed; the others are nearly normal.
    keep = [0, 2, 3, 4, 5, 6, 7, 8, 9]
    because = "exact_moments; the gradient and the density have to fit"
    assert_mean(found.draws.mean(axis=1)[:, keep], exact.mean[keep], "draws of the non-centred schools", because)


# pool


def radon_like(rng, n_groups=60, sd=0.8, mean=1.3, spread=0.4):
    """Log levels in houses of many counties, of which most have few: the true means, the values, and their counties."""
    truth = rng.normal(mean, spread, n_groups)
    counts = rng.geometric(0.2, n_groups)
    groups = rng.permutation(np.repeat(np.arange(n_groups), counts))
    return truth, rng.normal(truth[groups], sd), groups


def test_pool_by_hand():
    values, groups = np.array([2.0, 5.0, 4.0, 1.0, 6.0, 9.0]), np.array([1, 0, 0, 1, 0, 2])
    found = pool(values, groups, 1.5)
    assert_close(found.complete, np.full(3, 4.5), "pool(...).complete", "the mean of all values")
    assert_close(found.none, np.array([5.0, 1.5, 9.0]), "pool(...).none", "the mean of each group")
    model = Model(np.array([5.0, 1.5, 9.0]), 1.5 / np.sqrt([3.0, 2.0, 1.0]))
    expected = exact_moments(model, log_tau_grid(model)).mean[2:]
    assert_close(found.partial, expected, "pool(...).partial", "exact_moments of the groups' means, with (11)")


def test_pool_lies_in_between_and_errs_least(rng):
    errors = []
    for _ in range(3):
        truth, values, groups = radon_like(rng)
        found = pool(values, groups, 0.8)
        errors.append([np.mean((x - truth) ** 2) for x in (found.complete, found.none, found.partial)])
        # The posterior mean of each group lies between its own mean and some common value.
        away = found.none - found.complete
        pulled = (found.none - found.partial) * np.sign(away)
        far = abs(away) > 0.3
        assert (pulled[far] > 0).all(), "pool(...).partial of a group far from the mean is not drawn towards it"
    complete, none, partial = np.mean(errors, axis=0)
    assert partial < 0.8 * min(complete, none), (
        f"partial pooling errs by {partial:.3f} in the square, complete by {complete:.3f}, none by {none:.3f}"
    )


def test_pool_draws_small_groups_most(rng):
    groups = np.repeat(np.arange(12), [1, 20] * 6)
    centres = np.where(np.arange(12) % 4 < 2, -1.0, 1.0)
    values = centres[groups]
    found = pool(values, groups, 0.8)
    moved = abs(found.partial - found.none)
    assert moved[::2].min() > 2 * moved[1::2].max(), "pool draws groups of 20 values as far as groups of one"


def test_pool_leaves_its_arguments_alone(rng):
    _, values, groups = radon_like(rng)
    before = values.copy(), groups.copy()
    pool(values, groups, 0.8)
    assert np.array_equal(values, before[0]) and np.array_equal(groups, before[1]), "pool changed its arguments"


@pytest.mark.given
@pytest.mark.parametrize(
    ("values", "groups", "sd", "name"),
    [
        (np.array([1.0, np.nan]), np.array([0, 1]), 1.0, "values"),
        (np.ones(0), np.zeros(0, dtype=int), 1.0, "values"),
        (np.ones((2, 2)), np.zeros((2, 2), dtype=int), 1.0, "values"),
        (np.ones(3), np.array([0, 2, 2]), 1.0, "groups"),
        (np.ones(3), np.array([-1, 0, 1]), 1.0, "groups"),
        (np.ones(3), np.array([0, 1]), 1.0, "groups"),
        (np.ones(2), np.array([0, 1]), 0.0, "sd"),
        (np.ones(2), np.array([0, 1]), np.inf, "sd"),
    ],
)
def test_pool_refuses_what_are_no_groups(values, groups, sd, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        pool(values, groups, sd)
