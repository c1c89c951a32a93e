"""Shared tests of optim/natural_gradient: run on the reference, and on the learner's file.

Nothing here is random to the learner: draws are made by the tests. Tolerances of 1e-9 leave room for another order of
summation; wider ones have their reason beside them.
"""

from functools import cache

import numpy as np
import pytest

from mlpath.optim._shared import logistic, quadratic
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.natural_gradient import (
    gaussian_expectations,
    gaussian_score,
    logistic_fisher,
    minimize,
    natural_step,
    pull_back,
    second_moment,
    softmax_fisher,
)
from mlpath.testing import assert_close


@cache
def nodes():
    """Points and probabilities that integrate polynomials up to degree 23 against the standard normal density."""
    points, weights = np.polynomial.hermite_e.hermegauss(12)
    return points, weights / weights.sum()


def symmetric(dim, seed=0):
    root = np.random.default_rng(seed).standard_normal((dim, dim + 3))
    return root @ root.T / dim


def divergence(mean, tau, other_mean, other_tau):
    """KL of the normal with the second parameters from that with the first, means and logarithms of scales."""
    ratio = np.exp(2 * (tau - other_tau))
    return other_tau - tau + (ratio + (mean - other_mean) ** 2 * np.exp(-2 * other_tau) - 1) / 2


def second_differences(function, dim, h=1e-3):
    """Second derivatives at 0 with an error of order h squared."""
    steps = h * np.eye(dim)
    pairs = [[function(a + b) - function(a - b) - function(b - a) + function(-a - b) for b in steps] for a in steps]
    return np.array(pairs) / (4 * h * h)


@cache
def noisy_labels():
    """Features, labels 0 or 1, and the ridge-regularised logistic loss with its known minimum."""
    rng = np.random.default_rng(5)
    features = rng.standard_normal((60, 5)) @ np.diag([0.3, 0.6, 1.0, 2.0, 4.0])
    labels = (features @ [3.0, -1.0, 1.0, 0.2, 0.5] + 1.5 * rng.standard_normal(60) > 0).astype(float)
    return features, labels, logistic(features, 2 * labels - 1, ridge=1e-3)


# gaussian_score


def test_gaussian_score_of_a_case_by_hand():
    x = np.array([4.1, -0.7, 1.9])
    before = x.copy()
    z = (x - 1.3) / np.exp(0.4)
    expected = np.stack([z / np.exp(0.4), z * z - 1], axis=1)
    assert_close(gaussian_score(x, 1.3, 0.4), expected, f"gaussian_score({x}, 1.3, 0.4)", "equation (1)", rtol=1e-12)
    assert_close(x, before, "gaussian_score changed x, which now")
    low = gaussian_score(x.astype(np.float32), 1.3, 0.4).dtype
    assert low == np.float32, f"gaussian_score of float32 returned {low}"


def test_gaussian_score_is_the_derivative_of_the_log_density():
    x, mean, tau, h = np.array([-2.3, 0.4, 5.9, 17.0]), 0.8, -0.6, 1e-5

    def log_density(a, b):
        return -(((x - a) * np.exp(-b)) ** 2) / 2 - b

    expected = np.stack(
        [
            (log_density(mean + h, tau) - log_density(mean - h, tau)) / (2 * h),
            (log_density(mean, tau + h) - log_density(mean, tau - h)) / (2 * h),
        ],
        axis=1,
    )
    # Central differences: errors of h squared and of 1e-16 / h, relative to values up to 1000.
    call = "gaussian_score(x, 0.8, -0.6)"
    assert_close(gaussian_score(x, mean, tau), expected, call, "the derivatives of log p by differences", rtol=1e-6)


def test_gaussian_score_has_the_mean_zero_under_its_own_model():
    z, weights = nodes()
    for mean, tau in ((1.7, 0.9), (-40.0, -2.0)):
        got = weights @ gaussian_score(mean + np.exp(tau) * z, mean, tau)
        assert_close(got, [0.0, 0.0], f"the mean of gaussian_score(x, {mean}, {tau})", "zero, above (1)", atol=1e-11)


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_gaussian_score_does_not_mind_the_unit(scale):
    x = np.array([4.1, -0.7, 1.9])
    got = gaussian_score(scale * x, 1.3 * scale, 0.4 + np.log(scale)) * [scale, 1.0]
    # The exponential of 230 magnifies the rounding of its argument by as much.
    assert_close(got, gaussian_score(x, 1.3, 0.4), f"gaussian_score in units of {scale:g}", "the same", rtol=1e-11)


# second_moment


def test_second_moment_of_a_case_by_hand():
    scores = np.array([[1.3, -0.4], [0.2, 2.6], [-0.9, 0.7]])
    weights = np.array([0.55, 0.3, 0.15])
    before = scores.copy(), weights.copy()
    for shares, name in ((weights, "weights"), (None, "no weights")):
        w = [1 / 3] * 3 if shares is None else shares
        expected = sum(share * np.outer(score, score) for share, score in zip(w, scores))
        got = second_moment(scores) if shares is None else second_moment(scores, shares)
        assert_close(got, expected, f"second_moment({scores.tolist()}) with {name}", "equation (2)", rtol=1e-12)
    assert_close(scores, before[0], "second_moment changed scores, which now")
    assert_close(weights, before[1], "second_moment changed weights, which now")
    low = second_moment(scores.astype(np.float32)).dtype
    assert low == np.float32, f"second_moment of float32 returned {low}"


def test_second_moment_of_gaussian_scores_is_the_curvature_in_equations_3_and_4():
    z, weights = nodes()
    for mean, tau in ((1.3, 0.4), (-5.0, -1.1)):
        x = mean + np.exp(tau) * z
        call = f"second_moment of the scores of a normal with log scale {tau}"
        fisher = second_moment(gaussian_score(x, mean, tau), weights)
        assert_close(fisher, np.diag([np.exp(-2 * tau), 2.0]), call, "diag(1/sigma^2, 2)", atol=1e-10)
        h = 1e-5
        moved = [gaussian_score(x, mean + a, tau + b) for a, b in ((h, 0), (-h, 0), (0, h), (0, -h))]
        slopes = [weights @ (moved[0] - moved[1]), weights @ (moved[2] - moved[3])]
        # Central differences of numbers up to 1000: errors of h squared and of 1e-13 / h.
        assert_close(fisher, -np.array(slopes) / (2 * h), call, "minus the mean derivative, (3)", rtol=1e-6, atol=1e-6)
        bend = second_differences(lambda d: divergence(mean, tau, mean + d[0], tau + d[1]), 2)  # noqa: B023
        assert_close(fisher, bend, call, "the second derivative of the divergence, (4)", rtol=1e-4, atol=1e-4)


def test_second_moment_of_data_from_elsewhere_is_not_the_information():
    """The empirical Fisher: of a normal of scale 1 from data of scale 3 whose mean is off by 0.5."""
    z, weights = nodes()
    empirical = second_moment(gaussian_score(0.5 + 3 * z, 0.0, 0.0), weights)
    # E x^2, E x^3 - x, E (x^2 - 1)^2 for x = 0.5 + 3 z; the information is diag(1, 2).
    second, third, fourth = 9.25, 0.125 + 3 * 0.5 * 9, 0.0625 + 6 * 0.25 * 9 + 3 * 81
    expected = [[second, third - 0.5], [third - 0.5, fourth - 2 * second + 1]]
    call = "second_moment of the scores of N(0, 1) at data from N(0.5, 9)"
    assert_close(empirical, expected, call, "moments, nothing subtracted", rtol=1e-9)


# softmax_fisher


def test_softmax_fisher_of_a_case_by_hand():
    logits = np.log([1.7, 4.9, 3.4])
    before = logits.copy()
    expected = np.array([[1.7 * 8.3, -1.7 * 4.9, -1.7 * 3.4], [0, 4.9 * 5.1, -4.9 * 3.4], [0, 0, 3.4 * 6.6]]) / 100
    expected = np.triu(expected) + np.triu(expected, 1).T
    assert_close(softmax_fisher(logits), expected, "softmax_fisher(log [1.7 4.9 3.4])", "equation (5)", rtol=1e-12)
    assert_close(logits, before, "softmax_fisher changed logits, which now")
    low = softmax_fisher(logits.astype(np.float32)).dtype
    assert low == np.float32, f"softmax_fisher of float32 returned {low}"


def test_softmax_fisher_is_the_covariance_of_the_score():
    logits = np.random.default_rng(1).standard_normal(11)
    p = np.exp(logits) / np.exp(logits).sum()
    expected = sum(p[y] * np.outer(np.eye(11)[y] - p, np.eye(11)[y] - p) for y in range(11))
    fisher = softmax_fisher(logits)
    assert_close(fisher, expected, "softmax_fisher of 11 logits", "the sum in (5)", rtol=1e-9, atol=1e-16)
    assert_close(fisher @ np.ones(11), np.zeros(11), "its rows, added up", "zero, as (5) says", atol=1e-15)


@pytest.mark.parametrize("offset", [-1000.0, 0.0, 1000.0])
def test_softmax_fisher_keeps_its_digits_where_a_class_is_all_but_certain(offset):
    logits = np.array([0.0, 50.0, 3.0])
    odds = np.exp(logits - 50)
    expected = -np.outer(odds, odds) / odds.sum() ** 2
    expected[np.diag_indices(3)] = odds * np.array([1 + odds[2], odds[0] + odds[2], 1 + odds[0]]) / odds.sum() ** 2
    assert_close(softmax_fisher(np.array([800.0, -800.0])), np.zeros((2, 2)), "softmax_fisher([800, -800])", "(5)")
    call = f"softmax_fisher([0, 50, 3] + {offset:g})"
    assert_close(softmax_fisher(logits + offset), expected, call, "(5): p_i times the other p", rtol=1e-9)


# logistic_fisher


def test_logistic_fisher_of_a_case_by_hand():
    features, weights = np.array([[1.2, 0.7], [-0.3, 2.1], [0.8, -1.6]]), np.array([0.9, -0.5])
    before = features.copy(), weights.copy()
    p = 1 / (1 + np.exp(-features @ weights))
    expected = sum(p[i] * (1 - p[i]) * np.outer(features[i], features[i]) for i in range(3)) / 3
    call = f"logistic_fisher({features.tolist()}, {weights})"
    assert_close(logistic_fisher(features, weights), expected, call, "equation (6)", rtol=1e-12)
    assert_close(features, before[0], "logistic_fisher changed features, which now")
    assert_close(weights, before[1], "logistic_fisher changed weights, which now")
    low = logistic_fisher(features.astype(np.float32), weights.astype(np.float32)).dtype
    assert low == np.float32, f"logistic_fisher of float32 returned {low}"


def test_logistic_fisher_is_the_second_derivative_of_the_loss_whatever_the_labels():
    features, _, problem = noisy_labels()
    weights = np.random.default_rng(2).standard_normal(5)
    fisher = logistic_fisher(features, weights)
    for loss in (problem, logistic(features, np.ones(60), ridge=1e-3)):
        expected = loss.hess(weights) - 1e-3 * np.eye(5)
        assert_close(fisher, expected, "logistic_fisher(X, w)", "the Hessian of the loss, below (6)", rtol=1e-9)


def test_logistic_fisher_is_the_mean_over_both_labels_and_not_that_over_the_data():
    features, labels, _ = noisy_labels()
    weights = np.random.default_rng(3).standard_normal(5)
    p = 1 / (1 + np.exp(-features @ weights))
    both = np.vstack([(1 - p)[:, None] * features, -p[:, None] * features])
    expected = (np.concatenate([p, 1 - p]) / 60 * both.T) @ both
    fisher = logistic_fisher(features, weights)
    assert_close(fisher, expected, "logistic_fisher(X, w)", "(2) over both labels of each row", rtol=1e-9)
    residuals = ((labels - p)[:, None] * features).T
    empirical = residuals @ residuals.T / 60
    ratio = np.linalg.norm(empirical - fisher) / np.linalg.norm(fisher)
    assert ratio > 0.1, f"logistic_fisher is within {ratio:.0%} of the empirical Fisher of data that the weights misfit"


@pytest.mark.parametrize("margin", [40.0, 700.0, 1000.0])
def test_logistic_fisher_keeps_its_digits_where_all_is_certain(margin):
    features = np.array([[1.0, 0.5], [-1.0, 2.0]])
    expected = np.exp(-margin) / 2 * features.T @ features  # e^-40 is far below rounding beside 1
    got = logistic_fisher(features, np.array([margin, 0.0]))
    # 1000 underflows, both to zero; below it subnormal numbers have fewer digits
    call = f"logistic_fisher at margins of {margin:g}"
    assert_close(got, expected, call, "(6): p (1 - p) is e^-margin here", rtol=1e-9, atol=1e-320)


# pull_back


def test_pull_back_of_a_case_by_hand():
    fisher, jacobian = np.array([[2.3, 0.4], [0.4, 1.1]]), np.array([[0.7, -1.2, 0.5], [0.3, 1.9, -2.2]])
    before = fisher.copy(), jacobian.copy()
    columns = jacobian.T
    expected = [[a[0] * (2.3 * b[0] + 0.4 * b[1]) + a[1] * (0.4 * b[0] + 1.1 * b[1]) for b in columns] for a in columns]
    call = "pull_back(F, J) with J of shape (2, 3)"
    assert_close(pull_back(fisher, jacobian), expected, call, "J'FJ, equation (7)", rtol=1e-12)
    assert_close(fisher, before[0], "pull_back changed fisher, which now")
    assert_close(jacobian, before[1], "pull_back changed jacobian, which now")


def test_pull_back_is_the_information_of_the_scores_by_the_new_parameters():
    rng = np.random.default_rng(4)
    scores, jacobian = rng.standard_normal((30, 4)), rng.standard_normal((4, 3))
    expected = second_moment(scores @ jacobian)
    got = pull_back(second_moment(scores), jacobian)
    assert_close(got, expected, "pull_back(second_moment(S), J)", "second_moment(S J), (7)", rtol=1e-9, atol=1e-12)


def test_pull_back_of_logits_gives_bernoulli_and_logistic_regression():
    a = 0.8
    p = 1 / (1 + np.exp(-a))
    got = pull_back(softmax_fisher(np.array([0.0, a])), np.array([[0.0], [1.0]]))
    assert_close(got, [[p * (1 - p)]], "pull_back of two logits (0, a) to a", "p (1 - p)", rtol=1e-9)
    x, w = np.array([0.4, -1.3, 2.2]), np.array([0.5, 0.1, -0.7])
    got = pull_back(softmax_fisher(np.array([0.0, x @ w])), np.array([np.zeros(3), x]))
    assert_close(got, logistic_fisher(x[None], w), "pull_back of logits (0, x'w) to w", "equation (6)", rtol=1e-9)


# gaussian_expectations


def test_gaussian_expectations_of_a_case_by_hand():
    mean, variance = 1.7, 0.6
    natural = np.array([mean / variance, -1 / (2 * variance)])
    before = natural.copy()
    means, fisher = gaussian_expectations(natural)
    call = "gaussian_expectations of mean 1.7, variance 0.6"
    assert_close(means, [1.7, 1.7**2 + 0.6], f"{call}: m", "equation (9)", rtol=1e-12)
    across = 2 * 1.7 * 0.6
    expected = [[0.6, across], [across, 4 * 1.7**2 * 0.6 + 2 * 0.36]]
    assert_close(fisher, expected, f"{call}: F", "equation (9)", rtol=1e-12)
    assert_close(natural, before, "gaussian_expectations changed natural, which now")
    means, fisher = gaussian_expectations(natural.astype(np.float32))
    assert means.dtype == fisher.dtype == np.float32, f"{call} in float32 returned {means.dtype} and {fisher.dtype}"


def test_gaussian_expectations_are_moments_and_their_derivative():
    natural, (z, weights) = np.array([-2.9, -0.8]), nodes()
    means, fisher = gaussian_expectations(natural)
    x = -2.9 / 1.6 + z / 1.6**0.5
    statistics = np.stack([x, x * x])
    call = f"gaussian_expectations({natural})"
    assert_close(means, statistics @ weights, f"{call}: m", "the means of x and x^2", rtol=1e-9)
    off = statistics - (statistics @ weights)[:, None]
    assert_close(fisher, weights * off @ off.T, f"{call}: F", "the covariance of x and x^2, (8)", rtol=1e-9)
    h = 1e-5 * np.eye(2)
    slopes = [(gaussian_expectations(natural + s)[0] - gaussian_expectations(natural - s)[0]) / 2e-5 for s in h]
    assert_close(fisher, np.transpose(slopes), f"{call}: F", "the derivative of m, (8)", rtol=1e-7)


def test_gaussian_expectations_agree_with_the_information_about_mean_and_log_scale():
    mean, tau = 0.9, -0.35
    variance = np.exp(2 * tau)
    jacobian = np.array([[1 / variance, -2 * mean / variance], [0.0, 1 / variance]])  # of eta by mean and log scale
    _, fisher = gaussian_expectations(np.array([mean / variance, -1 / (2 * variance)]))
    call = "gaussian_expectations(eta): F, pulled back to mean and log scale"
    assert_close(jacobian.T @ fisher @ jacobian, np.diag([1 / variance, 2.0]), call, "diag(1/sigma^2, 2)", atol=1e-9)


# natural_step


def test_natural_step_of_a_case_by_hand():
    gradient, fisher = np.array([1.7, -2.3]), np.array([[3.1, 0.8], [0.8, 1.9]])
    before = gradient.copy(), fisher.copy()
    for damping in (0.0, 0.25):
        a, d = 3.1 + damping, 1.9 + damping
        expected = -np.array([d * 1.7 + 0.8 * 2.3, -0.8 * 1.7 - a * 2.3]) / (a * d - 0.64)
        got = natural_step(gradient, fisher, damping=damping)
        call = f"natural_step({gradient}, {fisher.tolist()}, damping={damping})"
        assert_close(got, expected, call, "equation (10)", rtol=1e-12)
    assert_close(gradient, before[0], "natural_step changed the gradient, which now")
    assert_close(fisher, before[1], "natural_step changed the information, which now")
    low = natural_step(gradient.astype(np.float32), fisher.astype(np.float32), damping=0.1).dtype
    assert low == np.float32, f"natural_step in float32 returned {low}"


def test_natural_step_is_the_same_in_other_parameters():
    rng = np.random.default_rng(6)
    fisher, gradient, jacobian = symmetric(7), rng.standard_normal(7), rng.standard_normal((7, 7))
    other = natural_step(jacobian.T @ gradient, pull_back(fisher, jacobian))
    # J'FJ has a condition number of some 1e5.
    call = "J times natural_step(J'g, pull_back(F, J))"
    assert_close(jacobian @ other, natural_step(gradient, fisher), call, "natural_step(g, F), below (10)", rtol=1e-7)


def test_natural_step_by_natural_parameters_is_the_gradient_by_expectation_parameters():
    natural, goal = np.array([1.1, -0.7]), np.array([0.4, 2.5])

    def loss(means):
        return (means[0] - goal[0]) ** 2 + means[0] * means[1] / 3 + np.sin(means[1])

    means, fisher = gaussian_expectations(natural)
    by_means = np.array([2 * (means[0] - goal[0]) + means[1] / 3, means[0] / 3 + np.cos(means[1])])
    h = 1e-5 * np.eye(2)
    by_natural = [loss(gaussian_expectations(natural + s)[0]) - loss(gaussian_expectations(natural - s)[0]) for s in h]
    got = natural_step(np.array(by_natural) / 2e-5, fisher)
    # The gradient is by central differences.
    assert_close(got, -by_means, "natural_step by natural parameters", "minus the gradient by m", rtol=1e-6)


def test_natural_step_needs_damping_where_the_information_is_singular():
    fisher = np.diag([2.0, 0.0, 0.5])
    with pytest.raises(np.linalg.LinAlgError):
        natural_step(np.ones(3), fisher)
    got = natural_step(np.array([1.0, 0.0, -2.0]), fisher, damping=1e-9)
    assert_close(got, [-0.5, 0.0, 4.0], "natural_step with a damping of 1e-9", "the pseudo-inverse", rtol=1e-6)
    p = np.exp([0.3, -0.2, 0.9]) / np.exp([0.3, -0.2, 0.9]).sum()
    got = natural_step(p - [0, 1, 0], softmax_fisher(np.log(p)), damping=0.01)
    expected = -np.linalg.solve(np.diag(p + 0.01) - np.outer(p, p), p - [0, 1, 0])
    assert_close(got, expected, "natural_step for three logits, damping=0.01", "equation (10)", rtol=1e-9)


def test_natural_step_turns_a_rough_estimate_of_a_scale_into_an_efficient_one():
    """The median absolute deviation wastes 63 % of the data; one step on the mean loss wins it back."""
    x = np.random.default_rng(7).standard_normal((250, 200))
    centres = np.median(x, axis=1)
    rough = np.log(np.median(abs(x - centres[:, None]), axis=1) / 0.6744898)
    steps = np.array(
        [
            natural_step(-gaussian_score(row, centre, tau).mean(axis=0), np.diag([np.exp(-2 * tau), 2.0]))
            for row, centre, tau in zip(x, centres, rough)
        ]
    )
    assert_close(centres + steps[:, 0], x.mean(axis=1), "the median and one step", "the mean", atol=1e-9)
    # A variance from 250 normal estimates has a standard error of sqrt(2/250) = 9 %: six of them, and a few per cent of
    # higher order in 1/200, are 60 %. The rough estimate's is 2.7 times the bound.
    ratio = (rough + steps[:, 1]).var() * 2 * 200
    assert 0.4 < ratio < 1.6, f"after one step the variance is {ratio:.2f} times 1/(2n), the bound of Cramér and Rao"


# minimize


def fit(**options):
    features, _, problem = noisy_labels()
    ridge = 1e-3 * np.eye(5)
    return minimize(problem.fun, problem.grad, lambda w: logistic_fisher(features, w) + ridge, problem.start, **options)


def test_minimize_makes_the_steps_of_equation_10():
    features, _, problem = noisy_labels()
    start = problem.start.copy()
    result = fit(step_size=0.7, damping=0.03, max_iter=3, record_path=True)
    x = start
    for step in range(3):
        fisher = logistic_fisher(features, x) + 0.031 * np.eye(5)
        x = x - 0.7 * np.linalg.solve(fisher, problem.grad(x))
        call = f"minimize(step_size=0.7, damping=0.03): point {step + 1} of the path"
        assert_close(result.path[step + 1], x, call, "x + 0.7 times (10)", rtol=1e-9)
    assert len(result.path) == 4, f"after 3 steps the path has {len(result.path)} points, expected 4"
    assert_close(result.path[0], start, "minimize(...): the first point of the path", "the start")
    assert_close(result.x, x, "minimize(...).x", "the last point", rtol=1e-9)
    assert_close(result.fun, problem.fun(x), "minimize(...).fun", "the loss at x", rtol=1e-9)
    counts = (result.nit, result.nfev, result.success, result.message)
    assert counts == (3, 4, False, OUT_OF_STEPS), f"minimize(max_iter=3): nit, nfev, success, message {counts}"
    assert_close(start, problem.start, "minimize changed its start, which now")
    assert fit().path is None, "minimize returned a path that nobody asked for"


def test_minimize_is_iteratively_reweighted_least_squares_for_logistic_regression():
    features, labels, _ = noisy_labels()
    w, path = np.zeros(5), [np.zeros(5)]
    for _ in range(4):
        p = 1 / (1 + np.exp(-features @ w))
        roots = np.sqrt(p * (1 - p))
        working = features @ w + (labels - p) / (p * (1 - p))
        w = np.linalg.lstsq(roots[:, None] * features, roots * working)[0]
        path.append(w)
    result = minimize(
        lambda w: float(np.logaddexp(0, features @ w).mean() - labels @ features @ w / 60),
        lambda w: (1 / (1 + np.exp(-features @ w)) - labels) @ features / 60,
        lambda w: logistic_fisher(features, w),
        np.zeros(5),
        tol=0,
        max_iter=4,
        record_path=True,
    )
    assert_close(result.path, path, "minimize's path on a logistic loss", "weighted least squares", rtol=1e-7)


def test_minimize_finds_the_minimum_by_fisher_scoring():
    _, _, problem = noisy_labels()
    result = fit(tol=1e-10)
    assert result.success and result.message == CONVERGED, f"minimize: {result.message!r} after {result.nit} steps"
    assert result.nit <= 12, f"Fisher scoring, which is Newton's method here, took {result.nit} steps"
    assert_close(result.x, problem.minimum, "minimize(...).x", "the minimum", rtol=1e-7)
    assert result.nfev == result.nit + 1, f"{result.nit} steps need {result.nit + 1} values, not {result.nfev}"


def gaussian(to, back, jacobian, statistics=(0.5, 2.5)):
    """The mean loss of data with the mean squares `statistics`, in parameters phi: to (mean, tau), and its Jacobian."""

    def fun(phi):
        mean, tau = to(phi)
        return float(tau + (statistics[1] - 2 * mean * statistics[0] + mean**2) * np.exp(-2 * tau) / 2)

    def grad(phi):
        mean, tau = to(phi)
        square = statistics[1] - 2 * mean * statistics[0] + mean**2
        return jacobian(phi).T @ [(mean - statistics[0]) * np.exp(-2 * tau), 1 - square * np.exp(-2 * tau)]

    def fisher(phi):
        return jacobian(phi).T @ np.diag([np.exp(-2 * to(phi)[1]), 2.0]) @ jacobian(phi)

    return fun, grad, fisher, back, to


STRETCH = np.array([[2.0, 0.3], [-0.7, 0.4]])
PARAMETERS = {
    "mean and log scale": gaussian(lambda p: p, lambda t: np.array(t), lambda p: np.eye(2)),
    "a linear map of them": gaussian(lambda p: STRETCH @ p, lambda t: np.linalg.solve(STRETCH, t), lambda p: STRETCH),
    "mean and scale": gaussian(
        lambda p: np.array([p[0], np.log(p[1])]),
        lambda t: np.array([t[0], np.exp(t[1])]),
        lambda p: np.diag([1.0, 1 / p[1]]),
    ),
    "natural parameters": gaussian(
        lambda p: np.array([-p[0] / (2 * p[1]), -np.log(-2 * p[1]) / 2]),
        lambda t: np.array([t[0], -0.5]) * np.exp(-2 * t[1]),
        lambda p: np.array([[-1 / (2 * p[1]), p[0] / (2 * p[1] ** 2)], [0.0, -1 / (2 * p[1])]]),
    ),
}


def walk(name, start, **options):
    fun, grad, fisher, back, _ = PARAMETERS[name]
    return minimize(fun, grad, fisher, back(start), tol=0, record_path=True, **options)


def test_minimize_is_exactly_invariant_to_a_linear_change_of_parameters():
    plain = walk("mean and log scale", [1.5, 0.6], step_size=0.3, max_iter=8).path
    other = walk("a linear map of them", [1.5, 0.6], step_size=0.3, max_iter=8).path
    assert_close(other @ STRETCH.T, plain, "the path after a linear map, mapped back", "the same path", rtol=1e-7)


def test_minimize_follows_one_curve_to_first_order_in_any_parameters():
    """It is the straight line in the expectation parameters, where the share exp(-t) of the way is left at time t."""
    goal, begin = np.array([0.5, 2.5]), np.array([1.5, 1.5**2 + np.exp(1.2)])
    expected = goal + np.exp(-0.8) * (begin - goal)
    for name in ("mean and log scale", "mean and scale", "natural parameters"):
        errors = []
        for n_steps in (20, 40):
            phi = walk(name, [1.5, 0.6], step_size=0.8 / n_steps, max_iter=n_steps).x
            mean, tau = PARAMETERS[name][-1](phi)
            means = np.array([mean, mean**2 + np.exp(2 * tau)])
            errors.append(float(np.linalg.norm(means - expected)))
        assert errors[0] < 0.2, f"by {name}, 20 steps of 0.04 end {errors[0]:.3f} from the curve, at most 0.2 expected"
        order = np.log2(errors[0] / errors[1])
        assert 0.8 < order < 1.2, f"by {name} halved steps divide the error by 2^{order:.2f}, expected 2 (first order)"


def test_minimize_converges_at_max_iter_and_at_the_start():
    problem = quadratic(np.geomspace(0.1, 100, 6), rng=np.random.default_rng(8))
    result = minimize(problem.fun, problem.grad, problem.hess, problem.start, max_iter=1)
    assert (result.nit, result.success) == (1, True), (
        f"one full step solves a quadratic, max_iter=1 allows it: {result}"
    )
    result = minimize(problem.fun, problem.grad, problem.hess, problem.minimum)
    assert (result.nit, result.nfev, result.success) == (0, 1, True), f"from the minimum: {result}"


def test_minimize_says_that_it_diverges_and_keeps_float32():
    with np.errstate(over="ignore", invalid="ignore"):
        result = minimize(lambda x: float(x @ x), lambda x: 2 * x, lambda x: np.eye(2), [1.0, -2.0], step_size=1e160)
    assert (result.success, result.message) == (False, DIVERGED), f"a step size of 1e160: {result}"
    start = np.array([0.4, -1.1], dtype=np.float32)
    result = minimize(lambda x: x @ x, lambda x: 2.0 * x, lambda x: 3.0 * np.eye(2), start, record_path=True)
    assert result.x.dtype == result.path.dtype == np.float32, f"from a start in float32 came {result.x.dtype}"


def test_minimize_lets_the_users_errors_through_and_refuses_a_wrong_information():
    def fisher(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        minimize(lambda x: x @ x, lambda x: 2 * x, fisher, [1.0])
    for bad in (np.eye(3), np.ones(2), np.diag([1.0, np.nan])):
        with pytest.raises(ValueError, match="fisher"):
            minimize(lambda x: x @ x, lambda x: 2 * x, lambda x: bad, [1.0, 2.0])  # noqa: B023
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: x @ x, lambda x: np.ones(1), lambda x: np.eye(2), [1.0, 2.0])
    with pytest.raises(np.linalg.LinAlgError):
        minimize(lambda x: x @ x, lambda x: 2 * x, lambda x: np.zeros((2, 2)), [1.0, 2.0])


# given checks


@pytest.mark.given
def test_gaussian_score_refuses_what_is_no_vector_of_numbers():
    for x, mean, tau, name in (
        ([[1.0]], 0.0, 0.0, "x"),
        ([], 0.0, 0.0, "x"),
        ([np.nan], 0.0, 0.0, "x"),
        ([1.0], np.inf, 0.0, "mean"),
        ([1.0], 0.0, np.nan, "log_scale"),
    ):
        with pytest.raises(ValueError, match=name):
            gaussian_score(np.array(x), mean, tau)


@pytest.mark.given
def test_second_moment_refuses_weights_that_are_no_probabilities():
    scores = np.ones((2, 3))
    for weights in ([1.0], [0.7, 0.7], [1.5, -0.5], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="weights"):
            second_moment(scores, np.array(weights))
    for bad in (scores[0], scores[:0], scores * np.nan):
        with pytest.raises(ValueError, match="scores"):
            second_moment(bad)


@pytest.mark.given
def test_softmax_fisher_and_logistic_fisher_refuse_what_does_not_fit():
    for bad in (np.ones((2, 2)), np.array([]), np.array([1.0, np.inf])):
        with pytest.raises(ValueError, match="logits"):
            softmax_fisher(bad)
    for features, weights, name in (
        (np.ones((3, 2)), np.ones(3), "weights"),
        (np.ones(3), np.ones(3), "features"),
        (np.ones((3, 2)) * np.nan, np.ones(2), "features"),
        (np.ones((3, 2)), np.array([1.0, np.nan]), "weights"),
    ):
        with pytest.raises(ValueError, match=name):
            logistic_fisher(features, weights)


@pytest.mark.given
def test_pull_back_and_gaussian_expectations_refuse_what_does_not_fit():
    for fisher, jacobian, name in ((np.eye(3), np.ones((2, 2)), "fisher"), (np.eye(2), np.ones(2), "jacobian")):
        with pytest.raises(ValueError, match=name):
            pull_back(fisher, jacobian)
    for natural in ([1.0, 0.0], [1.0, 2.0], [1.0, np.nan], [1.0, -1.0, -1.0]):
        with pytest.raises(ValueError, match="natural"):
            gaussian_expectations(np.array(natural))


@pytest.mark.given
def test_natural_step_refuses_bad_dampings_and_shapes():
    for damping in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="damping"):
            natural_step(np.ones(2), np.eye(2), damping=damping)
    with pytest.raises(ValueError, match="fisher"):
        natural_step(np.ones(2), np.eye(3))


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("step_size", {"step_size": 0.0}),
        ("damping", {"damping": -1.0}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, arguments):
    functions = {"fun": lambda x: x @ x, "grad": lambda x: 2 * x, "fisher": lambda x: 2 * np.eye(1)}
    with pytest.raises(ValueError, match=name):
        minimize(**functions | {"start": [1.0]} | arguments)
