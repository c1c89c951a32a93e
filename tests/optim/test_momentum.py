"""Shared tests of optim/momentum: run on the reference, and on the learner's file.

Everything here is deterministic. Tolerances of 1e-9 leave room for another order of summation along some hundred steps
of methods that are stable; wider ones have their reason beside them.
"""

import numpy as np
import pytest

from mlpath.optim._shared import Problem, logistic, quadratic
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.momentum import (
    State,
    heavy_ball_step,
    lookahead,
    minimize,
    must_restart,
    nesterov_step,
    next_momentum,
    optimal_coefficients,
    rate,
)
from mlpath.testing import assert_close

SPECTRUM = np.array([0.5, 0.8, 2.0, 3.0, 7.0, 11.0, 20.0])
METHODS = ["heavy_ball", "nesterov"]


@pytest.fixture
def rng():
    return np.random.default_rng(1964)


@pytest.fixture
def bowl(rng):
    return quadratic(SPECTRUM, rng=rng)


@pytest.fixture
def tumours(rng):
    """A logistic regression, whose curvature is 0.05 to 4, and much less at its minimum than at the start."""
    features = rng.standard_normal((80, 6)) @ np.diag([0.3, 0.5, 1.0, 1.0, 3.0, 4.0])
    signs = np.sign(features @ [3.0, -1.0, 1.0, 0.0, 1.0, 0.5] + 0.5 * rng.standard_normal(80))
    return logistic(features, signs, ridge=0.05)


@pytest.fixture
def chain():
    """Nesterov's bad quadratic: springs between 60 points in a row, of which the first is pulled. Curvature up to 4."""
    matrix = 2 * np.eye(60) - np.eye(60, k=1) - np.eye(60, k=-1)
    pull = np.eye(60)[0]
    minimum = np.linalg.solve(matrix, pull)
    return Problem(
        lambda x: (x - minimum) @ matrix @ (x - minimum) / 2,
        lambda x: matrix @ x - pull,
        lambda x, v: matrix @ v,
        np.zeros(60),
        minimum,
        smoothness=4.0,
    )


def companion(eigenvalue, step_size, momentum, method):
    """The matrix that takes (error, previous error) along an eigenvector to the next: equation (4)."""
    if method == "heavy_ball":
        top = [1 + momentum - step_size * eigenvalue, -momentum]
    else:
        shrink = 1 - step_size * eigenvalue
        top = [shrink * (1 + momentum), -shrink * momentum]
    return np.array([top, [1.0, 0.0]])


def radius(spectrum, step_size, momentum, method):
    return max(abs(np.linalg.eigvals(companion(v, step_size, momentum, method))).max() for v in spectrum)


class Counted:
    """A function that remembers where it was called."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(np.array(x))
        return self.function(x)


def vectors(rng, dtype=np.float64):
    x, previous, gradient = rng.standard_normal((3, 9)).astype(dtype)
    return State(x, previous), gradient


# heavy_ball_step


def test_heavy_ball_step_of_a_case_by_hand():
    state = State(np.array([1.7, -2.3]), np.array([3.1, 0.9]))
    new = heavy_ball_step(state, np.array([11.0, -23.0]), step_size=0.13, momentum=0.3)
    call = "heavy_ball_step from [1.7, -2.3], before at [3.1, 0.9], gradient [11, -23], step_size=0.13, momentum=0.3"
    assert_close(new.x, [-0.15, -0.27], call, "equation (1)")
    assert_close(new.previous, [1.7, -2.3], f"{call}: previous", "the point stepped from")


def test_heavy_ball_step_from_rest_and_without_momentum_is_gradient_descent(rng):
    state, gradient = vectors(rng)
    slide = heavy_ball_step(state, gradient, step_size=0.3, momentum=0.0).x
    assert_close(slide, state.x - 0.3 * gradient, "heavy_ball_step(momentum=0)", "(1) with b = 0", rtol=1e-12)
    rest = heavy_ball_step(State(state.x, state.x), gradient, step_size=0.3, momentum=0.9).x
    assert_close(
        rest, state.x - 0.3 * gradient, "heavy_ball_step from rest", "(1): the whole gradient counts", rtol=1e-12
    )


@pytest.mark.parametrize("step", [heavy_ball_step, nesterov_step], ids=METHODS)
def test_heavy_ball_step_and_the_other_leave_their_arguments_alone_and_keep_float32(step, rng):
    state, gradient = vectors(rng, np.float32)
    before = state.x.copy(), state.previous.copy(), gradient.copy()
    new = step(state, gradient, step_size=0.1, momentum=0.5)
    for name, now, then in zip(("state.x", "state.previous", "gradient"), (state.x, state.previous, gradient), before):
        assert_close(now, then, f"{step.__name__} changed {name}, which now")
    assert new.x.dtype == np.float32, f"{step.__name__} of float32 arrays returned {new.x.dtype}"
    assert not np.shares_memory(new.x, state.x), (
        f"{step.__name__} wrote the next point into the state that it was given"
    )


# lookahead


def test_lookahead_rolls_on_by_the_share_of_the_last_move():
    point = lookahead(State(np.array([1.7, -2.3]), np.array([3.1, 0.9])), 0.3)
    call = "lookahead from [1.7, -2.3], before at [3.1, 0.9], momentum 0.3"
    assert_close(point, [1.28, -3.26], call, "equation (2)")


def test_lookahead_from_rest_is_where_one_stands(rng):
    x = rng.standard_normal(8).astype(np.float32)
    before = x.copy()
    point = lookahead(State(x, x), 0.9)
    assert_close(point, before, "lookahead of a float32 state at rest", "equation (2)", rtol=1e-6)
    assert point.dtype == np.float32, f"lookahead of float32 returned {point.dtype}"
    assert not np.shares_memory(point, x), "lookahead returned the state's own array, not a new one"


# nesterov_step


def test_nesterov_step_of_a_case_by_hand():
    state = State(np.array([1.7, -2.3]), np.array([3.1, 0.9]))
    new = nesterov_step(state, np.array([11.0, -23.0]), step_size=0.13, momentum=0.3)
    call = "nesterov_step from [1.7, -2.3], before at [3.1, 0.9], gradient [11, -23], step_size=0.13, momentum=0.3"
    assert_close(new.x, [-0.15, -0.27], call, "equations (2) and (3)")
    assert_close(new.previous, [1.7, -2.3], f"{call}: previous", "the point stepped from, not y")


def test_nesterov_step_lands_on_the_minimum_of_a_sphere_whatever_the_momentum(rng):
    state, _ = vectors(rng)
    for momentum in (0.0, 0.5, 0.99):
        gradient = 4 * lookahead(state, momentum)  # of f = 2 x·x
        new = nesterov_step(state, gradient, step_size=0.25, momentum=momentum)
        assert abs(new.x).max() < 1e-14, (
            f"nesterov_step with 1/L on a sphere, momentum {momentum}, missed by {abs(new.x).max()}"
        )


# optimal_coefficients


def test_optimal_coefficients_of_cases_by_hand():
    expected = {"heavy_ball": ((2 / 9) ** 2, (5 / 9) ** 2), "nesterov": (1 / 49, 5 / 9)}
    for method in METHODS:
        got = optimal_coefficients(4.0, 49.0, method)
        call, equation = f"optimal_coefficients(4, 49, {method!r})", "(6)" if method == "heavy_ball" else "(8)"
        assert_close(got, expected[method], call, equation, rtol=1e-12)


def test_optimal_coefficients_of_the_heavy_ball_make_both_sides_of_6_equalities():
    for low, high in ((0.5, 20.0), (1e-3, 7.0), (1e-9, 1e5)):
        a, b = optimal_coefficients(low, high, "heavy_ball")
        sides = [np.sqrt(a * low) + np.sqrt(b), np.sqrt(a * high) - np.sqrt(b)]
        call = f"√(aμ) + √b and √(aL) - √b of optimal_coefficients({low:g}, {high:g}, 'heavy_ball')"
        assert_close(sides, [1.0, 1.0], call, "equation (6) at both ends", rtol=1e-12)


def test_optimal_coefficients_of_the_heavy_ball_are_the_best_for_a_quadratic():
    a, b = optimal_coefficients(0.5, 20.0, "heavy_ball")
    best = radius(SPECTRUM, a, b, "heavy_ball")
    for da in (0.97, 1.0, 1.03):
        for db in (0.97, 1.0, 1.03):
            other = radius(SPECTRUM, a * da, b * db, "heavy_ball")
            # At the best a double root splits under rounding by some 1e-8.
            assert best <= other + 1e-6, f"a={a:.4f}, b={b:.4f} has rate {best:.5f}; times {da}, {db} has {other:.5f}"


@pytest.mark.parametrize("method", METHODS)
def test_optimal_coefficients_need_no_momentum_on_a_sphere(method):
    assert_close(
        optimal_coefficients(4.0, 4.0, method), (0.25, 0.0), f"optimal_coefficients(4, 4, {method!r})", "kappa = 1"
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_optimal_coefficients_depend_on_the_scale_through_the_step_alone(method, scale):
    a, b = optimal_coefficients(1.0, 25.0, method)
    got = optimal_coefficients(scale, 25 * scale, method)
    assert_close(
        got, (a / scale, b), f"optimal_coefficients({scale:g}, 25 · {scale:g}, {method!r})", "(6), (8)", rtol=1e-12
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("convexity", (0.0, 1.0, "nesterov")),
        ("convexity", (-1.0, 1.0, "heavy_ball")),
        ("convexity", (np.nan, 1.0, "nesterov")),
        ("smoothness", (1.0, 0.5, "nesterov")),
        ("smoothness", (1.0, np.inf, "heavy_ball")),
        ("smoothness", (1.0, np.nan, "heavy_ball")),
        ("method", (1.0, 2.0, "adam")),
    ],
)
def test_optimal_coefficients_refuse_nonsense(name, arguments):
    with pytest.raises(ValueError, match=name):
        optimal_coefficients(*arguments)


# rate


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("step_size", [0.01, 0.07, 0.11])
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.8, 0.99])
def test_rate_is_the_largest_root_over_all_eigenvalues(method, step_size, momentum):
    got = rate(SPECTRUM, step_size=step_size, momentum=momentum, method=method)
    call = f"rate(0.5 to 20, step_size={step_size}, momentum={momentum}, method={method!r})"
    assert_close(got, radius(SPECTRUM, step_size, momentum, method), call, "the roots of (5)", rtol=1e-7)
    shuffled = rate(SPECTRUM[[3, 6, 0, 2, 5, 1, 4]], step_size=step_size, momentum=momentum, method=method)
    assert_close(shuffled, got, f"{call}, eigenvalues in another order")


def test_rate_at_the_optimal_coefficients_has_the_square_root_of_kappa():
    for kappa in (4.0, 100.0, 1e4):
        root, spectrum = np.sqrt(kappa), np.array([1.0, 0.3 * kappa, kappa])
        expected = {"heavy_ball": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}
        coefficients = {
            "heavy_ball": (4 / (root + 1) ** 2, expected["heavy_ball"] ** 2),
            "nesterov": (1 / kappa, (root - 1) / (root + 1)),
        }
        for method in METHODS:
            a, b = coefficients[method]
            got = rate(spectrum, step_size=a, momentum=b, method=method)
            # Double roots: rounding of 1e-16 under the square root is 1e-8 of the root.
            call = f"rate for kappa={kappa:g} at the optimal coefficients of {method!r}"
            assert_close(got, expected[method], call, "(7)" if method == "heavy_ball" else "below (8)", rtol=1e-6)


def test_rate_without_momentum_is_that_of_gradient_descent():
    for method in METHODS:
        for a in (0.02, 0.09, 0.2):
            expected = max(abs(1 - 0.5 * a), abs(1 - 20 * a))
            assert_close(
                rate(SPECTRUM, step_size=a, momentum=0.0, method=method),
                expected,
                f"rate(a={a}, b=0, {method!r})",
                "(5)",
            )


def test_rate_tells_where_the_heavy_ball_begins_to_diverge():
    # At the steepest eigenvalue z = -1 solves (5) for a L = 2 (1 + b).
    for factor, expected in ((0.999, "below"), (1.001, "above")):
        got = rate(SPECTRUM, step_size=factor * 2 * 1.6 / 20, momentum=0.6, method="heavy_ball")
        assert (got > 1) == (expected == "above"), (
            f"rate at {factor} times 2 (1 + b) / L is {got:.5f}, expected {expected} 1"
        )


@pytest.mark.given
def test_rate_refuses_an_unknown_method():
    with pytest.raises(ValueError, match="method"):
        rate(SPECTRUM, step_size=0.1, momentum=0.1, method="adam")


# next_momentum


def test_next_momentum_begins_with_none():
    t, momentum = next_momentum(1.0)
    assert_close((t, momentum), ((1 + np.sqrt(5)) / 2, 0.0), "next_momentum(1)", "equation (9)", atol=1e-15)


def test_next_momentum_satisfies_equation_9_and_grows_as_it_must():
    t = 1.0
    for k in range(1, 50):
        following, momentum = next_momentum(t)
        assert_close(
            following**2 - following, t**2, f"with t = next_momentum({t:.4g})[0]: t² - t", "equation (9)", rtol=1e-12
        )
        assert_close(
            momentum, (t - 1) / following, f"next_momentum({t:.4g})[1]", "equation (9)", rtol=1e-12, atol=1e-15
        )
        assert following >= (k + 2) / 2, (
            f"t after {k} times is {following:.4f}; for the bound (10) it is at least {(k + 2) / 2}"
        )
        t = following


# must_restart


@pytest.mark.parametrize(
    ("move", "gradient", "expected"),
    [
        ([0.5, 3.0], [1.0, 0.0], True),
        ([-0.5, 3.0], [1.0, 0.0], False),
        ([1.0, -1.0], [-2.0, -3.0], True),
        ([1.0, 1.0], [-2.0, -3.0], False),
        ([2.0, 1.0], [1.0, -2.0], False),
        ([0.0, 0.0], [1.0, -2.0], False),
    ],
)
def test_must_restart_asks_whether_the_move_went_uphill(move, gradient, expected):
    previous = np.array([4.0, -8.0])
    got = must_restart(State(previous + move, previous), np.array(gradient))
    assert got is expected, (
        f"must_restart after a move {move} made with the gradient {gradient} is {got}; (11) says {expected}"
    )


# minimize


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("momentum", [0.0, 0.4, 0.9])
def test_minimize_follows_the_recursion_of_equation_4(bowl, method, momentum):
    path = minimize(
        bowl.fun,
        bowl.grad,
        bowl.start,
        step_size=0.04,
        momentum=momentum,
        method=method,
        tol=0.0,
        max_iter=80,
        record_path=True,
    ).path
    axes = np.linalg.eigh(bowl.hessian)[1]
    expected = np.empty((81, 7))
    for i, (value, error) in enumerate(zip(SPECTRUM, axes.T @ (bowl.start - bowl.minimum))):
        matrix, pair = companion(value, 0.04, momentum, method), np.array([error, error])
        for k in range(81):
            expected[k, i] = pair[0] if method == "heavy_ball" else pair[0] + momentum * (pair[0] - pair[1])
            pair = matrix @ pair
    call = f"minimize({method!r}, step_size=0.04, momentum={momentum}).path"
    assert_close(path, bowl.minimum + expected @ axes.T, call, "(4), 80 times, in each direction", atol=1e-9)


def test_minimize_with_the_growing_momentum_agrees_with_nesterovs_three_sequences(tumours):
    path = minimize(
        tumours.fun,
        tumours.grad,
        tumours.start,
        step_size=1 / tumours.smoothness,
        tol=0.0,
        max_iter=60,
        record_path=True,
    ).path
    # The same method, written with a slow average x and a fast sequence z, and with t from its closed recursion.
    x = z = tumours.start
    t, expected = 1.0, []
    for _ in range(61):
        y = x + (z - x) / t
        expected.append(y)
        g = tumours.grad(y)
        x, z = y - g / tumours.smoothness, z - t * g / tumours.smoothness
        t = (1 + np.sqrt(1 + 4 * t * t)) / 2
    assert_close(
        path, expected, "minimize(momentum=None).path", "(9), in the form with two sequences", rtol=1e-8, atol=1e-9
    )


def test_minimize_with_the_growing_momentum_keeps_the_bound_of_equation_10(chain, tumours):
    for problem in (chain, tumours):
        step_size = 1 / problem.smoothness
        path = minimize(
            problem.fun, problem.grad, problem.start, step_size=step_size, tol=0.0, max_iter=80, record_path=True
        ).path
        k = np.arange(1, len(path) + 1)
        above = np.array([problem.fun(y - step_size * problem.grad(y)) for y in path]) - problem.fun(problem.minimum)
        bound = 2 * problem.smoothness * np.sum((problem.start - problem.minimum) ** 2) / (k + 1) ** 2
        worst = (above / bound).max()
        assert worst <= 1, (
            f"f(x_k) - f* is up to {worst:.2f} times the bound (10), at k = {k[(above / bound).argmax()]}"
        )


@pytest.mark.parametrize("method", METHODS)
def test_minimize_needs_steps_in_proportion_to_the_square_root_of_kappa(method, rng):
    steps = []
    for kappa in (16.0, 64.0, 256.0):
        problem = quadratic(np.geomspace(1.0, kappa, 8), rng=np.random.default_rng(2))
        root = np.sqrt(kappa)
        share = (root - 1) / (root + 1)
        a, b = (4 / (root + 1) ** 2, share**2) if method == "heavy_ball" else (1 / kappa, share)
        result = minimize(problem.fun, problem.grad, problem.start, step_size=a, momentum=b, method=method)
        assert result.success, f"minimize({method!r}) with optimal coefficients, kappa={kappa:g}: {result.message}"
        steps.append(result.nit)
    # Each time the root of kappa doubles. Larger gradients at the start and the factor k of a double root add a little.
    growth = np.divide(steps[1:], steps[:-1])
    assert (abs(growth - 2.1) < 0.3).all(), (
        f"{method!r} needed {steps} steps for kappa 16, 64, 256: it should double each time"
    )


def test_minimize_converges_at_the_rate_of_the_largest_root(bowl):
    start = bowl.minimum + np.linalg.eigh(bowl.hessian)[1].sum(axis=1)  # as much of each eigenvector
    for method, step_size, momentum in (("heavy_ball", 0.05, 0.5), ("nesterov", 0.05, 0.3), ("heavy_ball", 0.1, 0.8)):
        options = {"step_size": step_size, "momentum": momentum, "method": method}
        path = minimize(bowl.fun, bowl.grad, start, tol=0.0, max_iter=200, record_path=True, **options).path
        errors = np.linalg.norm(path - bowl.minimum, axis=1)
        expected = radius(SPECTRUM, step_size, momentum, method)
        measured = (errors[100:200].max() / errors[50:150].max()) ** (1 / 50)
        # Complex roots make the errors swing; the largest of 100 in a row hides that to 1 %.
        assert abs(measured / expected - 1) < 0.01, (
            f"{method} shrinks errors by {measured:.4f} a step; (5) says {expected:.4f}"
        )


def test_minimize_with_the_heavy_ball_can_go_round_in_circles_where_nesterov_settles():
    # Of Lessard, Recht & Packard (2016): curvature 25, 1, 25, and the heavy ball that is best for quadratics.
    def grad(x):
        return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))

    def fun(x):
        (x,) = x
        return 12.5 * x**2 if x < 1 else 12.5 + (x + 24) ** 2 / 2 - 312.5 if x < 2 else 12.5 * x**2 - 24 * x + 24

    heavy = minimize(
        fun, grad, [3.3], step_size=1 / 9, momentum=4 / 9, method="heavy_ball", max_iter=90, record_path=True
    )
    assert heavy.message == OUT_OF_STEPS, (
        f"the heavy ball ended with '{heavy.message}'; expected a cycle of three points"
    )
    cycle = np.sort(heavy.path[-3:, 0])
    assert_close(
        cycle, np.array([-2208, 792, 2592]) / 1225, "the last three points", "the cycle given by [3]", rtol=1e-6
    )
    settled = minimize(fun, grad, [3.3], step_size=1 / 25, momentum=4 / 6, method="nesterov", max_iter=90)
    assert settled.success, f"Nesterov's method with (8) ended with '{settled.message}'"


def restarted_walk(problem, step_size, n_points):
    """Nesterov's walk with restart, whose momentum is told by its age: the number of steps since it last began."""
    sequence = [1.0]
    while len(sequence) < n_points + 2:
        sequence.append((1 + np.sqrt(1 + 4 * sequence[-1] ** 2)) / 2)
    x, previous, age, points = problem.start, problem.start, 0, []
    for _ in range(n_points):
        share = (sequence[age - 1] - 1) / sequence[age] if age else 0.0
        y = x + share * (x - previous)
        points.append(y)
        x, previous = y - step_size * problem.grad(y), x
        age += 1
        if problem.grad(y) @ (x - previous) > 0:
            previous, age = x, 1
    return np.array(points)


def test_minimize_with_restart_forgets_all_momentum_and_begins_the_sequence_anew(tumours):
    step_size = 1 / tumours.smoothness
    expected = restarted_walk(tumours, step_size, 81)
    for restart in (True, False):
        result = minimize(
            tumours.fun,
            tumours.grad,
            tumours.start,
            step_size=step_size,
            restart=restart,
            tol=0.0,
            max_iter=80,
            record_path=True,
        )
        if restart:
            call = "minimize(restart=True).path"
            assert_close(result.path, expected, call, "(11): from there as if it were the start", rtol=1e-7, atol=1e-9)
        else:
            same = np.allclose(result.path, expected)
            assert not same, "minimize(restart=False) restarted"


def test_minimize_with_restart_is_fast_on_a_logistic_loss_without_knowing_its_convexity(tumours):
    arguments = {"step_size": 1 / tumours.smoothness, "tol": 1e-5}
    plain, again = (
        minimize(tumours.fun, tumours.grad, tumours.start, restart=restart, **arguments) for restart in (False, True)
    )
    steps = f"{plain.nit} steps without restart, {again.nit} with"
    assert again.success and plain.success, f"{steps}; {again.message}"
    assert 1.5 * again.nit < plain.nit, f"{steps}: there should be far fewer"
    # The ridge bounds the curvature from below: the error is at most the gradient's norm, 2.5e-5, over 0.05.
    assert_close(again.x, tumours.minimum, "minimize(restart=True).x", "Newton's method", rtol=0, atol=5e-4)


@pytest.mark.parametrize("method", METHODS)
def test_minimize_restarts_a_constant_momentum_too(bowl, method):
    result = minimize(
        bowl.fun,
        bowl.grad,
        bowl.start,
        step_size=0.05,
        momentum=0.97,
        method=method,
        restart=True,
        tol=0.0,
        max_iter=60,
        record_path=True,
    )
    state, expected, restarts = State(bowl.start, bowl.start), [bowl.start], 0
    for _ in range(60):
        y = expected[-1]
        x = y - 0.05 * bowl.grad(y) + (0.97 * (state.x - state.previous) if method == "heavy_ball" else 0.0)
        uphill = bowl.grad(y) @ (x - state.x) > 0
        state, restarts = State(x, x if uphill else state.x), restarts + uphill
        expected.append(x if method == "heavy_ball" else x + 0.97 * (state.x - state.previous))
    call = f"minimize({method!r}, momentum=0.97, restart=True).path, with {restarts} restarts"
    assert restarts > 1 and len(expected) == 61
    assert_close(result.path, expected, call, "(11)", rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    "options", [{"method": "heavy_ball", "momentum": 0.6}, {"momentum": 0.6}, {}, {"restart": True}], ids=str
)
def test_minimize_reports_what_it_did(bowl, options):
    fun, grad = Counted(bowl.fun), Counted(bowl.grad)
    result = minimize(fun, grad, bowl.start, step_size=0.05, tol=1e-4, record_path=True, **options)
    call = f"minimize({options})"
    assert result.success is True and result.message == CONVERGED, f"{call} ended with {result.message}"
    assert result.path.shape == (result.nit + 1, 7), f"{call}: path of shape {result.path.shape} for nit={result.nit}"
    assert_close(result.path[0], bowl.start, f"{call}.path[0]", "the start")
    assert_close(result.path[-1], result.x, f"{call}.path[-1]", "x")
    assert_close(result.fun, bowl.fun(result.x), f"{call}.fun", "the objective at x", rtol=1e-12)
    assert result.nfev == len(fun.points), f"{call}.nfev is {result.nfev}, but fun was called {len(fun.points)} times"
    assert_close(
        grad.points, result.path, f"{call}: the points at which grad was called", "its path, one gradient each"
    )
    largest = [abs(bowl.grad(x)).max() for x in result.path]
    assert largest[-1] <= 1e-4 < min(largest[:-1]), (
        f"{call} should stop at the first gradient below tol, and not before"
    )


def test_minimize_flags_divergence_and_running_out_of_steps(bowl):
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = minimize(
            bowl.fun, bowl.grad, bowl.start, step_size=0.5, momentum=0.6, method="heavy_ball", max_iter=900
        )
    got = f"minimize beyond 2 (1 + b) / L: success={beyond.success}, '{beyond.message}'"
    assert not beyond.success and beyond.message == DIVERGED, f"{got}; expected DIVERGED"
    short = minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.05, momentum=0.6, max_iter=7)
    got = f"minimize(max_iter=7): success={short.success}, nit={short.nit}, '{short.message}'"
    assert (short.success, short.nit, short.message) == (False, 7, OUT_OF_STEPS), f"{got}; expected OUT_OF_STEPS"


def test_minimize_that_starts_at_the_minimum_makes_no_step(bowl):
    result = minimize(bowl.fun, bowl.grad, bowl.minimum, step_size=0.05)
    assert result.success and result.nit == 0, f"at the minimum: {result.message}, nit={result.nit}"
    assert result.path is None, "a path was kept without record_path=True"


@pytest.mark.parametrize("method", METHODS)
def test_minimize_leaves_the_start_alone_and_keeps_float32(bowl, method):
    start = bowl.start.astype(np.float32)
    before = start.copy()
    result = minimize(bowl.fun, bowl.grad, start, step_size=0.05, momentum=0.5, method=method, max_iter=5, tol=0.0)
    assert_close(start, before, f"minimize({method!r}) changed start, which now")
    assert result.x.dtype == np.float32, f"minimize({method!r}) of a float32 start returned {result.x.dtype}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("step_size", {"step_size": 0.0}),
        ("start", {"start": [np.nan, 1.0]}),
        ("start", {"start": [[1.0, 1.0]]}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
        ("momentum", {"momentum": 1.0}),
        ("momentum", {"momentum": -0.1}),
        ("momentum", {"momentum": np.nan}),
        ("momentum", {"method": "heavy_ball"}),
        ("method", {"method": "adam"}),
    ],
)
def test_minimize_refuses_nonsense(name, arguments):
    good = {"start": [1.0, 2.0], "step_size": 0.1}
    with pytest.raises(ValueError, match=name):
        minimize(lambda x: x @ x, lambda x: 2 * x, **(good | arguments))


def test_minimize_refuses_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: x @ x, lambda x: 2 * x[:, None], [1.0, 2.0], step_size=0.1)
