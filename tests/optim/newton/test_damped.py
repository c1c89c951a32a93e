"""Shared tests of optim/newton/damped: run on the reference, and on the learner's file.

Everything here is deterministic. Tolerances of 1e-9 leave room for another order of elimination at the condition numbers
here, some hundreds; wider ones have their reason beside them.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from mlpath.optim._shared import beale, himmelblau, logistic, quadratic, rosenbrock
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.newton.damped import (
    SADDLE,
    STALLED,
    add_identity,
    estimate_order,
    minimize,
    modified_cholesky,
    newton_decrement,
    newton_step,
    saddle_direction,
)
from mlpath.testing import assert_close

G2, H2 = np.array([1.7, -2.3]), np.array([[3.1, 0.8], [0.8, 1.9]])
H3 = np.array([[2.4, 3.1, -0.6], [3.1, 1.5, 0.9], [-0.6, 0.9, -2.9]])  # indefinite


class Counted:
    """A function that remembers where it was called."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(np.array(x))
        return self.function(x)


def symmetric(spectrum, seed=0):
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((len(spectrum), len(spectrum))))
    matrix = (axes * np.array(spectrum)) @ axes.T
    return (matrix + matrix.T) / 2


@cache
def tumours():
    """A logistic regression."""
    rng = np.random.default_rng(5)
    features = rng.standard_normal((60, 5)) @ np.diag([0.3, 0.6, 1.0, 2.0, 4.0])
    signs = np.sign(features @ [3.0, -1.0, 1.0, 0.2, 0.5] + 0.5 * rng.standard_normal(60))
    return logistic(features, signs, ridge=0.02)


def walk(problem, start=None, **options):
    start = problem.start if start is None else start
    return minimize(problem.fun, problem.grad, problem.hess, start, record_path=True, **options)


# newton_step


def test_newton_step_of_a_case_by_hand():
    before = G2.copy(), H2.copy()
    det = 3.1 * 1.9 - 0.64
    expected = -np.array([1.9 * 1.7 + 0.8 * 2.3, -0.8 * 1.7 - 3.1 * 2.3]) / det
    assert_close(newton_step(G2, H2), expected, f"newton_step({G2}, {H2.tolist()})", "equation (1)", rtol=1e-12)
    assert_close(G2, before[0], "newton_step changed the gradient, which now")
    assert_close(H2, before[1], "newton_step changed the Hessian, which now")
    low = newton_step(G2.astype(np.float32), H2.astype(np.float32))
    assert low.dtype == np.float32, f"newton_step in float32 returned {low.dtype}"


def test_newton_step_ends_a_quadratic_at_once_and_goes_downhill():
    problem = quadratic(np.geomspace(0.1, 50, 12), rng=np.random.default_rng(3))
    gradient = problem.grad(problem.start)
    step = newton_step(gradient, problem.hessian)
    assert_close(problem.start + step, problem.minimum, "x + newton_step on a quadratic", "the minimum", atol=1e-9)
    assert gradient @ step < 0, f"newton_step leads uphill: the slope is {gradient @ step}"


@pytest.mark.parametrize("hessian", [np.diag([1.0, -2.0]), np.array([[1.0, 2.0], [2.0, 1.0]])])
def test_newton_step_refuses_what_is_not_positive_definite(hessian):
    with pytest.raises(np.linalg.LinAlgError):
        newton_step(G2, hessian)


# newton_decrement


def test_newton_decrement_of_a_case_by_hand():
    step = np.array([-0.9, 0.4])
    got = newton_decrement(G2, step)
    assert_close(got, (1.7 * 0.9 + 2.3 * 0.4) ** 0.5, f"newton_decrement({G2}, {step})", "equation (2)", rtol=1e-12)
    assert newton_decrement(np.zeros(2), np.zeros(2)) == 0, "newton_decrement of a zero gradient should be 0"
    assert np.isnan(newton_decrement(G2, -step)), f"uphill, newton_decrement is {newton_decrement(G2, -step)}, not NaN"


def test_newton_decrement_is_the_length_of_the_step_in_the_hessian():
    hessian = symmetric(np.geomspace(0.5, 80, 9))
    gradient = np.random.default_rng(1).standard_normal(9)
    step = np.linalg.solve(hessian, -gradient)
    expected = (step @ hessian @ step) ** 0.5
    assert_close(newton_decrement(gradient, step), expected, "newton_decrement(g, p)", "the root of p'Hp", rtol=1e-9)
    transform = np.random.default_rng(2).standard_normal((9, 9))
    got = newton_decrement(transform.T @ gradient, np.linalg.solve(transform, step))
    assert_close(got, expected, "the decrement after x = T y", "the same: affine invariance, (3)", rtol=1e-9)


# estimate_order


def test_estimate_order_of_cases_by_hand():
    errors = np.array([0.9, 0.31, 0.07, 0.0004])
    expected = [np.log(0.07 / 0.31) / np.log(0.31 / 0.9), np.log(0.0004 / 0.07) / np.log(0.07 / 0.31)]
    assert_close(estimate_order(errors), expected, f"estimate_order({errors})", "equation (5)", rtol=1e-12)


def test_estimate_order_finds_the_order_whatever_the_constant():
    for order, constant in ((1.0, 0.3), (1.618, 2.0), (2.0, 3.0), (3.0, 0.5)):
        errors = [0.1]
        for _ in range(3):
            errors.append(constant * errors[-1] ** order)
        call = f"estimate_order of errors with e' = {constant} e^{order}"
        assert_close(estimate_order(np.array(errors)), [order] * 2, call, "(5), exact here", rtol=1e-9)


@pytest.mark.given
@pytest.mark.parametrize("errors", [[0.1, 0.01], [0.1, 0.0, 0.1], [0.1, np.nan, 0.2], [0.1, -0.1, 0.2]])
def test_estimate_order_refuses_what_has_no_logarithm(errors):
    with pytest.raises(ValueError, match="errors"):
        estimate_order(np.array(errors))


# add_identity


@pytest.mark.parametrize(
    ("hessian", "shift", "tau"),
    [
        (np.array([[2.0, 4.3], [4.3, 3.0]]), 0.01, 0.043 * 2**6),  # least eigenvalue -1.829: 0.043 * 2^5 is 1.376
        (np.array([[-2.7, 0.6], [0.6, 1.3]]), 0.01, 2 * 2.727),  # 0.027 + 2.7 is below 2.788
        (np.array([[-2.7, 0.1], [0.1, 3.3]]), 0.01, 2.733),  # and here it is enough
        (np.array([[0.0, 0.0], [0.0, 1.7]]), 0.01, 0.017),
        (np.zeros((2, 2)), 0.01, 0.01),
        (H2, 0.01, 0.0),
    ],
)
def test_add_identity_of_cases_by_hand(hessian, shift, tau):
    lower, got = add_identity(hessian, shift=shift)
    call = f"add_identity({hessian.tolist()}, shift={shift})"
    assert_close(got, tau, f"{call}: tau", "(6), doubled until it is enough", rtol=1e-9)
    assert_close(lower @ lower.T, hessian + tau * np.eye(2), f"{call}: L L'", "H + tau I", atol=1e-12)
    assert_close(lower, np.tril(lower), f"{call}: the factor", "a lower triangle")


def test_add_identity_adds_no_more_than_it_promises():
    for seed in range(6):
        spectrum = np.random.default_rng(seed).uniform(-5, 5, 8)
        hessian = symmetric(spectrum, seed)
        before = hessian.copy()
        lower, tau = add_identity(hessian)
        limit = 2 * max(-spectrum.min(), 0) + 1e-3 * abs(hessian).max()
        assert 0 <= tau <= limit * (1 + 1e-9), f"least eigenvalue {spectrum.min()}: tau {tau} exceeds {limit}"
        assert np.linalg.eigvalsh(lower @ lower.T)[0] > 0, f"least eigenvalue {spectrum.min()}, tau {tau}: no factor"
        assert_close(hessian, before, "add_identity changed its argument, which now")
    low, _ = add_identity(symmetric([-1.0, 2.0, 3.0]).astype(np.float32))
    assert low.dtype == np.float32, f"add_identity of float32 returned {low.dtype}"


def test_add_identity_gives_up_after_a_hundred_trials():
    hessian = np.array([[1.0, 1e5], [1e5, 1.0]])  # the trials: 0, s, 2 s, ..., 2^98 s, and 1e5 is needed
    _, tau = add_identity(hessian, shift=1.5 * 2.0**-98)
    assert_close(tau, 1.5e5, "add_identity that needs the hundredth trial: tau", "2^98 times s", rtol=1e-9)
    with pytest.raises(np.linalg.LinAlgError):
        add_identity(hessian, shift=0.75 * 2.0**-98)


# modified_cholesky


def test_modified_cholesky_of_a_case_by_hand():
    lower, added = modified_cholesky(H3, floor=0.1)
    # gamma 2.9, xi 3.1, beta^2 = max(2.9, 3.1 / sqrt 8) = 2.9, delta = 0.31; by (7) and (8)
    d1 = 3.1**2 / 2.9
    c22, c32 = 1.5 - 3.1**2 / d1, 0.9 + 0.6 * 3.1 / d1
    d2 = max(abs(c22), c32**2 / 2.9, 0.31)
    c33 = -2.9 - 0.36 / d1 - c32**2 / d2
    d3 = max(abs(c33), 0.31)
    expected = np.array([[d1**0.5, 0, 0], [3.1 / d1**0.5, d2**0.5, 0], [-0.6 / d1**0.5, c32 / d2**0.5, d3**0.5]])
    call = f"modified_cholesky({H3.tolist()}, floor=0.1)"
    assert_close(added, [d1 - 2.4, d2 - c22, d3 - c33], f"{call}: added", "d - c, below (8)", rtol=1e-9)
    assert_close(lower, expected, f"{call}: the factor", "(7) and (8), columns times the roots of d", rtol=1e-9)


@pytest.mark.parametrize(
    ("hessian", "added"),
    [
        (np.diag([2.5, -1.3, 0.4]), [0.0, 2.6, 0.0]),  # -1.3 becomes 1.3
        (np.diag([2.5, 0.0, 0.4]), [0.0, 2.5e-8, 0.0]),  # 0 becomes the floor
        (np.diag([2.5, -1e-12, 0.4]), [0.0, 2.5e-8 + 1e-12, 0.0]),
        (np.zeros((2, 2)), [1e-8, 1e-8]),
        (np.array([[-3.7]]), [7.4]),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), [3**0.5, 2 * 3**-0.5]),  # beta^2 = 1 / sqrt 3, c22 = -1 / sqrt 3
    ],
)
def test_modified_cholesky_of_special_cases(hessian, added):
    lower, got = modified_cholesky(hessian)
    call = f"modified_cholesky({hessian.tolist()})"
    assert_close(got, added, f"{call}: added", "(8) and (9)", rtol=1e-6, atol=1e-14)
    assert_close(lower @ lower.T, hessian + np.diag(added), f"{call}: L L'", "H + diag(e)", atol=1e-9)


def test_modified_cholesky_leaves_a_positive_definite_matrix_alone():
    for hessian in (H2, symmetric(np.geomspace(1e-3, 10, 9)), np.diag([1e-5, 1.0, 100.0])):
        before = hessian.copy()
        lower, added = modified_cholesky(hessian)
        call = f"modified_cholesky of a positive definite matrix of order {len(hessian)}"
        assert_close(lower, np.linalg.cholesky(hessian), f"{call}: the factor", "Cholesky's", atol=1e-9)
        assert_close(added, np.zeros(len(hessian)), f"{call}: added", "nothing but rounding", atol=1e-10)
        assert_close(hessian, before, "modified_cholesky changed its argument, which now")


def test_modified_cholesky_keeps_its_bounds_on_random_matrices():
    for seed in range(8):
        n = 2 + seed
        hessian = np.random.default_rng(seed).standard_normal((n, n))
        hessian = hessian + hessian.T
        lower, added = modified_cholesky(hessian)
        gamma, xi = abs(np.diag(hessian)).max(), abs(hessian - np.diag(np.diag(hessian))).max()
        beta = max(gamma, xi / (n * n - 1) ** 0.5) ** 0.5
        call = f"modified_cholesky of a random matrix of order {n}"
        assert_close(lower @ lower.T, hessian + np.diag(added), f"{call}: L L'", "H + diag(e)", atol=1e-12 * n)
        assert (added >= -1e-12).all(), f"{call} took something away: {added}"
        assert abs(np.tril(lower, -1)).max() <= beta * (1 + 1e-9), f"{call}: an entry exceeds beta = {beta}: {lower}"
        assert (np.diag(lower) ** 2 >= 1e-8 * max(gamma, xi) * (1 - 1e-9)).all(), f"{call}: a pivot is below delta"
    for scale in (1e-120, 1e120):
        lower, _ = modified_cholesky(scale * hessian)
        call = f"modified_cholesky of {scale:g} times the last"
        assert_close(lower / scale**0.5, modified_cholesky(hessian)[0], call, "the same, scaled", rtol=1e-9, atol=1e-12)
    low, added = modified_cholesky(hessian.astype(np.float32))
    assert low.dtype == added.dtype == np.float32, f"modified_cholesky of float32: {low.dtype}, {added.dtype}"


# saddle_direction


def test_saddle_direction_is_the_eigenvector_of_the_least_eigenvalue():
    hessian = symmetric([4.0, 2.5, -1.5, 0.3, -0.7])
    gradient = np.random.default_rng(4).standard_normal(5)
    slopes = []
    for g in (gradient, -gradient, np.zeros(5)):
        v = saddle_direction(hessian, g)
        assert v is not None, "saddle_direction found nothing, with an eigenvalue of -1.5"
        assert_close(np.linalg.norm(v), 1.0, "the length of saddle_direction(...)", "1", rtol=1e-9)
        assert_close(hessian @ v, -1.5 * v, "H times saddle_direction(...)", "-1.5 times it", atol=1e-9)
        slopes.append(float(g @ v))
    assert max(slopes) <= 0, f"saddle_direction for g and -g has the slopes {slopes[0]} and {slopes[1]}; none may rise"


@pytest.mark.parametrize("spectrum", [[1.0, 2.0, 3.0], [0.0, 2.0, 3.0], [-1e-9, 0.5, 1.0], [0.0, 0.0, 0.0]])
def test_saddle_direction_is_none_where_nothing_curves_downwards(spectrum):
    v = saddle_direction(symmetric(spectrum), np.ones(3))
    assert v is None, f"saddle_direction for the eigenvalues {spectrum} returned {v}; above -1e-8 of the largest: None"


@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
def test_saddle_direction_judges_relative_to_the_largest_eigenvalue(scale):
    for spectrum in ([-1.3e-8, 0.5, 1.0], [-5.0, -4.0, -3.0]):
        v = saddle_direction(scale * symmetric(spectrum), np.zeros(3))
        assert v is not None, f"saddle_direction for {scale:g} times the eigenvalues {spectrum} found nothing"


# minimize

PROBLEMS = {"rosenbrock": rosenbrock(2), "rosenbrock 3": rosenbrock(3), "beale": beale(), "himmelblau": himmelblau()}


@pytest.mark.parametrize("method", ["modified", "identity"])
@pytest.mark.parametrize("name", [*PROBLEMS, "logistic"])
def test_minimize_finds_the_minimum(name, method):
    problem = tumours() if name == "logistic" else PROBLEMS[name]
    fun = Counted(problem.fun)
    start = problem.start.copy()
    result = minimize(fun, problem.grad, problem.hess, start, method=method, tol=1e-8, max_iter=50, record_path=True)
    call = f"minimize({name}, method={method!r})"
    assert result.success and result.message == CONVERGED, f"{call}: {result.message!r} after {result.nit} steps"
    assert_close(result.x, problem.minimum, f"{call}.x", "the minimum", atol=1e-5)
    assert result.nit <= 40, f"{call} took {result.nit} steps"
    assert_close(result.fun, problem.fun(result.x), f"{call}.fun", "the objective at x", atol=1e-15)
    assert result.nfev == len(fun.points), f"{call} counted {result.nfev} evaluations of {len(fun.points)}"
    assert len(result.path) == result.nit + 1 == len(result.decrements) + 1, f"{call}: {result}"
    assert_close(result.path[0], start, f"{call}: the first point of the path", "the start")
    assert_close(result.path[-1], result.x, f"{call}: the last point of the path", "x")
    assert_close(start, problem.start, f"{call} changed start, which now")
    values = [problem.fun(x) for x in result.path]
    assert (np.diff(values) <= 1e-12).all(), f"{call}: the objective rose along {values}"


@pytest.mark.parametrize("method", ["modified", "identity", "pure"])
def test_minimize_makes_the_step_of_its_method(method):
    problem = himmelblau()
    start = np.array([-2.0, 0.2])  # the Hessian is diag-dominant indefinite here
    gradient, hessian = problem.grad(start), problem.hess(start)
    result = walk(problem, start, method=method, max_iter=1)
    if method == "pure":
        direction = -np.linalg.solve(hessian, gradient)
    else:
        lower, _ = modified_cholesky(hessian) if method == "modified" else add_identity(hessian)
        direction = -np.linalg.solve(lower @ lower.T, gradient)
    move = result.path[1] - start
    share = move @ direction / (direction @ direction)
    call = f"the first step of minimize(himmelblau, method={method!r}) from {start}"
    assert_close(move, share * direction, call, "a share of the direction by its matrix", rtol=1e-6)
    assert 0 < share <= 1 + 1e-9, f"{call} is {share} times the full one"
    if method == "pure":
        assert_close(share, 1.0, f"{call}, as a share of the full one,", "a full step", rtol=1e-9)
    expected = (-gradient @ direction) ** 0.5 if gradient @ direction <= 0 else np.nan
    assert_close(result.decrements, [expected], f"{call}: decrements", "equation (2)", rtol=1e-6)


def test_minimize_shortens_steps_by_armijo_with_the_share_it_is_given():
    problem = rosenbrock(2)
    for decrease in (1e-4, 0.45):
        path = walk(problem, decrease=decrease, max_iter=12).path
        for before, after in pairwise(path):
            gain, slope = problem.fun(before) - problem.fun(after), -problem.grad(before) @ (after - before)
            assert gain >= decrease * slope * (1 - 1e-9), f"decrease={decrease}: a step gained {gain} of {slope}"
    short, long = (walk(problem, decrease=decrease, max_iter=9).path[:8] for decrease in (0.45, 1e-4))
    assert abs(short - long).max() > 1e-3, "decrease=0.45 and 1e-4 make the same steps"


@pytest.mark.parametrize("name", ["rosenbrock", "logistic", "himmelblau"])
def test_minimize_doubles_the_digits_at_the_end(name):
    problem = tumours() if name == "logistic" else PROBLEMS[name]
    path = walk(problem, tol=1e-13, max_iter=30).path
    errors = np.linalg.norm(path - path[-1], axis=1)[:-1]
    last = errors[(errors < 0.05) & (errors > 1e-7)]  # the next, some 1e-14, is rounding
    after = errors[1:][np.isin(errors[:-1], last)]
    # The constant of (4) for these problems is at most 30; a linear rate would fail by orders of magnitude.
    assert (after <= 60 * last[: len(after)] ** 2 + 1e-12).all(), f"{name}: errors {errors}, not squared at each step"
    orders = estimate_order(errors[errors > 1e-14][-3:])
    assert orders[-1] > 1.6, f"{name}: errors {errors} end with the order {orders[-1]}, 2 is expected"


@pytest.mark.parametrize("method", ["modified", "identity", "pure"])
def test_minimize_is_affine_invariant(method):
    problem = tumours()
    transform = np.random.default_rng(8).standard_normal((5, 5)) @ np.diag([0.1, 0.3, 1.0, 3.0, 10.0])
    start = np.full(5, 0.3)
    plain = walk(problem, start, method=method, tol=1e-9)
    other = minimize(
        lambda y: problem.fun(transform @ y),
        lambda y: transform.T @ problem.grad(transform @ y),
        lambda y: transform.T @ problem.hess(transform @ y) @ transform,
        np.linalg.solve(transform, start),
        method=method,
        tol=1e-9,
        record_path=True,
    )
    steps = min(plain.nit, other.nit, 5)
    call = f"minimize(method={method!r}) after x = T y: T times the path"
    got = other.path[: steps + 1] @ transform.T
    # The Hessian in y has a condition number of some 1e6.
    assert_close(got, plain.path[: steps + 1], call, "the same path, by (3)", rtol=1e-4, atol=1e-4)
    call = f"minimize(method={method!r}) after x = T y: decrements"
    assert_close(other.decrements[:4], plain.decrements[:4], call, "the same, by (3)", rtol=1e-3)


def test_minimize_needs_one_step_for_a_quadratic_which_max_iter_may_just_allow():
    problem = quadratic(np.geomspace(0.1, 1e4, 10), rng=np.random.default_rng(6))
    result = walk(problem, max_iter=1)
    assert (result.nit, result.success) == (1, True), f"one step solves a quadratic, and max_iter=1 allows it: {result}"
    gain = problem.fun(problem.start)
    assert_close(result.decrements[0] ** 2 / 2, gain, "half the squared decrement", "f - f*", rtol=1e-9)


def test_minimize_damps_where_the_pure_method_diverges():
    fun, grad = lambda x: float(np.logaddexp(x, -x)[0]), lambda x: np.tanh(x)
    start = np.array([1.3])  # beyond 1.0887 pure Newton's steps grow
    pure = minimize(fun, grad, lambda x: 1 - np.tanh(x[None]) ** 2, start, method="pure", max_iter=3, record_path=True)
    assert (np.diff(abs(pure.path[:, 0])) > 0).all(), f"pure Newton on log cosh from 1.3 went {pure.path[:, 0]}"
    assert not pure.success, f"pure Newton on log cosh from 1.3 says {pure.message!r}"
    for method in ("modified", "identity"):
        damped = minimize(fun, grad, lambda x: 1 - np.tanh(x[None]) ** 2, start, method=method)
        assert damped.success and abs(damped.x[0]) < 1e-6, f"{method}: {damped}"


def test_minimize_by_the_pure_method_goes_to_a_maximum_and_says_so():
    problem = himmelblau()
    start = np.array([-0.3, -0.8])
    pure = walk(problem, start, method="pure")
    call = "the pure method on Himmelblau's function from (-0.3, -0.8)"
    assert_close(pure.x, [-0.270845, -0.923039], f"{call}: x", "the maximum", atol=1e-5)
    assert not pure.success and pure.message == SADDLE, f"{call} says {pure.message!r}"
    v = pure.direction
    assert v is not None and v @ problem.hess(pure.x) @ v < 0, f"{call} returned the direction {v}"
    for method in ("modified", "identity"):
        damped = walk(problem, start, method=method)
        assert damped.success and damped.fun < 1e-9, f"{method} from there: {damped.message!r} at {damped.x}"
        assert damped.direction is None, f"at a minimum the direction is {damped.direction}, None is expected"


@pytest.mark.parametrize("method", ["modified", "identity"])
def test_minimize_leaves_the_neighbourhood_of_a_saddle(method):
    problem = himmelblau()
    for near in ([0.0867, 2.8843], [3.3852, 0.0739], [-3.0730, -0.0814], [-0.1280, -1.9537]):
        result = walk(problem, np.array(near) + 1e-3, method=method)
        assert result.success and result.fun < 1e-9, (
            f"{method} from near the saddle {near}: {result.message!r}, {result.x}"
        )
    exact = minimize(lambda x: x[0] ** 2 - x[1] ** 2, lambda x: np.array([2, -2]) * x, lambda x: np.diag([2.0, -2.0]),
                     [0.0, 0.0], method=method)  # fmt: skip
    assert (exact.message, exact.success, exact.nit) == (SADDLE, False, 0), f"at a saddle: {exact}"
    assert_close(abs(exact.direction), [0.0, 1.0], "the direction at a saddle", "(10)", atol=1e-12)


def test_minimize_says_why_it_stopped():
    problem = rosenbrock(2)
    result = walk(problem, max_iter=3)
    assert (result.nit, result.success, result.message) == (3, False, OUT_OF_STEPS), f"max_iter=3: {result}"
    result = minimize(lambda x: np.nan, lambda x: x, lambda x: np.eye(2), [1.0, 2.0])
    assert (result.nit, result.success, result.message) == (0, False, DIVERGED), f"NaN at the start: {result}"
    result = minimize(lambda x: x @ x, lambda x: -2 * x, lambda x: np.eye(2), [1.0, 2.0], max_iter=9)  # the wrong sign
    assert (result.nit, result.success, result.message) == (0, False, STALLED), f"nothing is lower that way: {result}"
    assert_close(result.x, [1.0, 2.0], "minimize that stalled at the start: x", "the start")
    assert result.path is None and len(result.decrements) == 0, f"no step was made, no path asked for: {result}"
    result = minimize(lambda x: x @ x, lambda x: 2 * x, lambda x: 2 * np.eye(2), [0.0, 0.0])
    assert (result.nit, result.nfev, result.success) == (0, 1, True), f"from the minimum: {result}"


def test_minimize_keeps_float32_and_lets_the_users_errors_through():
    problem = himmelblau()
    for method in ("modified", "identity", "pure"):
        result = walk(problem, np.array([3.4, 2.3], dtype=np.float32), method=method, tol=1e-3)
        assert result.x.dtype == result.path.dtype == np.float32, f"{method}: from float32 came {result.x.dtype}"
        assert result.success, f"{method} in float32 with tol=0.001: {result.message!r}"

    def hess(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        minimize(lambda x: x @ x, lambda x: 2 * x, hess, [1.0])


@pytest.mark.parametrize(
    "hessian",
    [np.array([[2.0, 1.0], [0.0, 2.0]]), np.eye(3), np.ones(2), np.diag([1.0, np.nan]), np.diag([1.0, np.inf])],
)
def test_minimize_refuses_a_hessian_of_no_use(hessian):
    with pytest.raises(ValueError, match="hess"):
        minimize(lambda x: x @ x, lambda x: 2 * x, lambda x: hessian, [1.0, 2.0])


def test_minimize_by_the_pure_method_stops_at_a_singular_hessian():
    with pytest.raises(np.linalg.LinAlgError):
        minimize(lambda x: x @ x, lambda x: 2 * x, lambda x: np.zeros((2, 2)), [1.0, 2.0], method="pure")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
        ("method", {"method": "quasi"}),
        ("decrease", {"decrease": 0.0}),
        ("decrease", {"decrease": 0.5}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, arguments):
    functions = {"fun": lambda x: x @ x, "grad": lambda x: 2 * x, "hess": lambda x: 2 * np.eye(1)}
    with pytest.raises(ValueError, match=name):
        minimize(**functions | {"start": [1.0]} | arguments)
