"""Shared tests of optim/sam: run on the reference, and on the learner's file.

All is deterministic but for the first vectors of two iterations, whose limit does not depend on them, and the draws of
`average_rise`, of which a right solution fails the one check of what is random with a probability of 1e-8.
"""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector

from mlpath.optim import adaptive as base
from mlpath.optim._networks import digits, perceptron
from mlpath.optim._shared import beale, logistic, quadratic
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.sam import (
    NoState,
    adaptive_ascent,
    ascent,
    average_rise,
    descent,
    minimize,
    sam_gradient,
    top_eigenvalue,
    worst_rise,
)
from mlpath.testing import assert_close, assert_mean

torch.set_num_threads(1)
G, X = np.array([2.3, -1.7, 0.6]), np.array([-0.8, 2.9, 1.4])
SHOWN = "[2.3, -1.7, 0.6]"


@pytest.fixture
def rng():
    return np.random.default_rng(2010)


@pytest.fixture
def bowl(rng):
    return quadratic(np.array([0.4, 1.1, 2.7, 6.3, 9.2]), rng=rng)


class Counted:
    """A function that remembers where it was called."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(np.array(x))
        return self.function(x)


def length(values):
    return float(np.sqrt((np.asarray(values, float) ** 2).sum()))


def two_valleys():
    """Two minima on the first axis: near -1 the lower one, with walls of curvature 9.6, and near 1 with walls of 1.4."""

    def fun(p):
        x, y = map(float, p)
        return 0.1 * (x**2 - 1) ** 2 + 0.02 * x + (5.5 - 4.5 * math.tanh(1.5 * x)) * y**2 / 2

    def grad(p):
        x, y = map(float, p)
        bend = math.tanh(1.5 * x)
        along = 0.4 * x * (x**2 - 1) + 0.02 - 6.75 * (1 - bend**2) * y**2 / 2
        return np.array([along, (5.5 - 4.5 * bend) * y])

    return fun, grad


def network(n_samples=40, widths=(64, 6, 10), seed=0):
    """The mean cross-entropy of a perceptron on digits, its gradient and Hessian products, and where to start."""
    x, y = digits(n_samples)
    weights = list(perceptron(widths, generator=torch.Generator().manual_seed(seed)).parameters())
    sizes = [weight.numel() for weight in weights]

    def loss(point):
        w1, b1, w2, b2 = (part.view(w.shape) for part, w in zip(point.split(sizes), weights))
        return cross_entropy(torch.tanh(x @ w1.T + b1) @ w2.T + b2, y)

    def grad(point):
        leaf = torch.tensor(point, requires_grad=True)
        return torch.autograd.grad(loss(leaf), leaf)[0].numpy()

    def hvp(point, v):
        leaf = torch.tensor(point, requires_grad=True)
        (gradient,) = torch.autograd.grad(loss(leaf), leaf, create_graph=True)
        return torch.autograd.grad(gradient @ torch.tensor(v), leaf)[0].numpy()

    start = parameters_to_vector(weights).detach().numpy().copy()
    return lambda point: float(loss(torch.tensor(point))), grad, hvp, start


# ascent


def test_ascent_is_of_the_length_of_the_radius_along_the_gradient():
    assert_close(ascent(G, 0.35), 0.35 * G / length(G), f"ascent({SHOWN}, 0.35)", "equation (2)")


def test_ascent_of_a_zero_gradient_is_zero():
    gradient = np.zeros(4)
    away = ascent(gradient, 0.35)
    assert_close(away, np.zeros(4), "ascent([0, 0, 0, 0], 0.35)", "equation (2): e = 0")
    assert not np.shares_memory(away, gradient), "ascent returned its argument instead of a new array"


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_ascent_does_not_mind_how_long_the_gradient_is(scale):
    expected = 0.35 * G / length(G)
    assert_close(ascent(scale * G, 0.35), expected, f"ascent({scale:g} * {SHOWN}, 0.35)", "equation (2)")


def test_ascent_keeps_float32_and_its_argument():
    gradient = G.astype(np.float32)
    away = ascent(gradient, np.float64(0.35))  # pyright: ignore[reportArgumentType]
    assert away.dtype == np.float32, f"ascent of a float32 gradient returned {away.dtype}"
    assert_close(away, 0.35 * G / length(G), f"ascent({SHOWN} as float32, 0.35)", "equation (2)", rtol=1e-6)
    assert_close(gradient, G.astype(np.float32), "the gradient after ascent", "its value before")
    assert not np.shares_memory(ascent(gradient, 1.0), gradient), "ascent returned the memory of its argument"


# adaptive_ascent


@pytest.mark.parametrize("shift", [0.0, 0.25])
def test_adaptive_ascent_measures_changes_by_the_sizes_of_the_weights(shift):
    size = np.array([0.8, 2.9, 1.4]) + shift
    expected = 0.35 * size**2 * G / length(size * G)
    call = f"adaptive_ascent([-0.8, 2.9, 1.4], {SHOWN}, 0.35, shift={shift})"
    assert_close(adaptive_ascent(X, G, 0.35, shift=shift), expected, call, "equation (7)")


def test_adaptive_ascent_maps_with_the_units_of_the_weights():
    units = np.array([10.0, -0.1, 4.0])
    away = adaptive_ascent(X, G, 0.35)
    moved = adaptive_ascent(units * X, G / units, 0.35)
    assert_close(moved, units * away, "adaptive_ascent in other units", "equation (8): the same change in these units")


def test_adaptive_ascent_leaves_weights_of_zero_alone_unless_shifted():
    x, ones = np.array([0.0, 2.9, 1.4]), np.ones(3)
    still = adaptive_ascent(x, G, 0.35)
    assert_close(still[0], 0.0, "adaptive_ascent, the entry of a weight of zero", "equation (7) with shift 0")
    expected = 0.35 * 0.5 * G / length(G)
    call = f"adaptive_ascent([0, 0, 0], {SHOWN}, 0.35, shift=0.5)"
    assert_close(adaptive_ascent(0 * ones, G, 0.35, shift=0.5), expected, call, "equation (7): T = 0.5 I")
    assert_close(adaptive_ascent(0 * ones, G, 0.35), 0 * ones, "adaptive_ascent at the origin", "zeros")


def test_adaptive_ascent_keeps_float32_and_its_arguments():
    x, gradient = X.astype(np.float32), G.astype(np.float32)
    away = adaptive_ascent(x, gradient, np.float64(0.35), shift=np.float64(0.25))  # pyright: ignore
    assert away.dtype == np.float32, f"adaptive_ascent of float32 vectors returned {away.dtype}"
    assert_close(x, X.astype(np.float32), "x after adaptive_ascent", "its value before")
    assert_close(gradient, G.astype(np.float32), "the gradient after adaptive_ascent", "its value before")


# sam_gradient


@pytest.mark.parametrize("dim", [5, 40])
def test_sam_gradient_of_a_quadratic_adds_a_product_with_its_hessian(dim, rng):
    problem = quadratic(np.geomspace(0.1, 12, dim), rng=rng)
    x, gradient = problem.start, problem.grad(problem.start)
    expected = gradient + 0.35 * problem.hvp(x, gradient) / length(gradient)
    actual = sam_gradient(problem.grad, x, gradient, radius=0.35)
    assert_close(actual, expected, f"sam_gradient of a quadratic in {dim} dimensions, radius=0.35", "(2) and (3)")


def test_sam_gradient_calls_for_one_gradient_at_the_ascended_point():
    grad = Counted(lambda x: x**3)
    actual = sam_gradient(grad, X, G, radius=0.35)
    seen = len(grad.points)
    assert seen == 1, f"sam_gradient called grad {seen} times; the gradient at x is handed in, so once is enough"
    assert_close(grad.points[0], X + 0.35 * G / length(G), "the point where sam_gradient calls grad", "x + e of (2)")
    assert_close(actual, grad.points[0] ** 3, "sam_gradient", "equation (3): what grad returned there")


def test_sam_gradient_ascends_by_the_sizes_of_the_weights_if_adaptive():
    size = np.array([0.8, 2.9, 1.4]) + 0.25
    at = X + 0.35 * size**2 * G / length(size * G)
    actual = sam_gradient(lambda x: x**3, X, G, radius=0.35, adaptive=True, shift=0.25)
    assert_close(actual, at**3, "sam_gradient(..., radius=0.35, adaptive=True, shift=0.25)", "equations (7) and (3)")


def test_sam_gradient_has_no_shift_unless_adaptive():
    actual = sam_gradient(lambda x: x**3, X, G, radius=0.35, shift=0.25)
    expected = (X + 0.35 * G / length(G)) ** 3
    assert_close(actual, expected, "sam_gradient(..., radius=0.35, shift=0.25)", "equations (2) and (3)")


@pytest.mark.parametrize("adaptive", [False, True])
def test_sam_gradient_of_radius_zero_is_the_gradient_itself(adaptive):
    problem = beale()
    gradient = problem.grad(problem.start)
    actual = sam_gradient(problem.grad, problem.start, gradient, radius=0, adaptive=adaptive)
    assert_close(actual, gradient, "sam_gradient(..., radius=0)", "(3) with e = 0", rtol=1e-12)


def test_sam_gradient_where_the_gradient_is_zero_is_zero(bowl):
    actual = sam_gradient(bowl.grad, bowl.minimum, np.zeros(5), radius=0.35)
    assert_close(actual, np.zeros(5), "sam_gradient at the minimum", "(2): e = 0 where the gradient is zero")


def test_sam_gradient_descends_a_penalty_on_the_length_of_the_gradient_to_first_order(rng):
    """The remainder of (4) falls with the square of the radius: a tenth of the radius leaves a hundredth of it."""
    problem = logistic(rng.standard_normal((60, 7)), np.sign(rng.standard_normal(60)), ridge=0.1)
    x = problem.start + 0.5
    gradient = problem.grad(x)
    errors = []
    for radius in (1e-1, 1e-2):
        penalised = gradient + radius * problem.hvp(x, gradient) / length(gradient)
        errors.append(length(sam_gradient(problem.grad, x, gradient, radius=radius) - penalised))
    ratio = errors[0] / errors[1]
    # The next term is of third order: a share of the radius, 0.1, of the second, times a ratio of derivatives.
    said = f"sam_gradient differs from (4) by {errors[0]:.2e} for radius 0.1, by {errors[1]:.2e} for 0.01: a factor of"
    assert 70 < ratio < 140, f"{said} {ratio:.1f}, where a remainder of second order has 100"


# minimize


def test_minimize_steps_on_a_quadratic_by_equation_5(bowl):
    hessian = bowl.hessian
    off = bowl.start - bowl.minimum
    expected = [off]
    for _ in range(3):
        slope = hessian @ expected[-1]
        expected.append(expected[-1] - 0.07 * slope - 0.07 * 0.35 * hessian @ slope / length(slope))
    rule = partial(descent, step_size=0.07)
    result = minimize(
        bowl.fun, bowl.grad, bowl.start, rule, NoState, radius=0.35, max_iter=3, tol=0.0, record_path=True
    )
    assert result.path is not None, "minimize(record_path=True) returned no path"
    assert_close(result.path - bowl.minimum, expected, "three steps of minimize on a quadratic", "equation (5)")


@pytest.mark.parametrize(
    ("rule", "state_type"),
    [(base.adam, base.AdamState), (base.rmsprop, base.RMSpropState), (base.adagrad, base.AdaGradState)],
)
def test_minimize_gives_any_rule_the_gradients_of_equation_3(rule, state_type):
    problem = beale()
    rule = partial(rule, step_size=0.05)
    x, state = problem.start, base.at_rest(state_type, problem.start)
    for _ in range(6):
        gradient = problem.grad(x)
        state, update = rule(state, problem.grad(x + 0.1 * gradient / length(gradient)))
        x = x + update
    result = minimize(problem.fun, problem.grad, problem.start, rule, state_type, radius=0.1, max_iter=6)
    name = rule.func.__name__
    assert_close(
        result.x, x, f"minimize by {name}, radius=0.1, after 6 steps", "(3) at each, and the rule's state kept"
    )
    assert_close(result.fun, problem.fun(x), f"the value of minimize by {name}", "fun at its x")


def test_minimize_ascends_by_the_sizes_of_the_weights_if_adaptive():
    problem = beale()
    x = problem.start
    for _ in range(4):
        gradient, size = problem.grad(x), abs(x) + 0.25
        x = x - 0.01 * problem.grad(x + 0.1 * size**2 * gradient / length(size * gradient))
    settings = {"radius": 0.1, "adaptive": True, "shift": 0.25, "max_iter": 4}
    result = minimize(problem.fun, problem.grad, problem.start, partial(descent, step_size=0.01), NoState, **settings)
    assert_close(result.x, x, "minimize(adaptive=True, shift=0.25, radius=0.1) after 4 steps", "equations (7) and (3)")


@pytest.mark.parametrize("adaptive", [False, True])
def test_minimize_with_radius_zero_is_the_base_rule(adaptive, bowl):
    rule = partial(base.adam, step_size=0.1)
    settings = {"max_iter": 25, "record_path": True}
    expected = base.minimize(bowl.fun, bowl.grad, bowl.start, rule, base.AdamState, **settings).path
    ours = minimize(bowl.fun, bowl.grad, bowl.start, rule, base.AdamState, radius=0, adaptive=adaptive, **settings).path
    assert_close(ours, expected, "the path of minimize with radius 0 by Adam", "Adam's own", rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("step_size", [0.1, 0.15])
def test_minimize_jumps_from_wall_to_wall_as_equation_6_says(step_size):
    rule = partial(descent, step_size=step_size)
    fun, grad = (lambda x: float(4.5 * x @ x)), (lambda x: 9 * x)
    result = minimize(fun, grad, [0.7], rule, NoState, radius=0.3, max_iter=60, record_path=True)
    width = step_size * 9 * 0.3 / (2 - step_size * 9)
    assert result.path is not None, "minimize(record_path=True) returned no path"
    ends = np.sort(result.path[-2:, 0])
    assert_close(ends, [-width, width], f"the last two points in 9 x^2 / 2 with a = {step_size}, radius=0.3", "(6)")
    said = f"minimize ended after {result.nit} steps of 60 with success={result.success}"
    assert not result.success, f"{said}, although by (6) the gradient never falls below tol"


def test_minimize_leaves_a_sharp_valley_where_gradient_descent_stays():
    (fun, grad), start = two_valleys(), [-0.9, 0.3]
    ends = [
        minimize(fun, grad, start, partial(descent, step_size=0.1), NoState, radius=radius, max_iter=120).x
        for radius in (0.0, 0.1, 0.3)
    ]
    said = f"from {start}, in the sharp valley at x = -1, radius"
    assert abs(ends[0][0] + 1) < 0.1, f"{said} 0 ended at {ends[0].round(3)}; gradient descent stays"
    assert abs(ends[1][0] + 1) < 0.1, f"{said} 0.1 ended at {ends[1].round(3)}; such jumps are too small to leave it"
    # Squared, the jumps of (6) and the radius together push by more than the 0.17 that the barrier holds against them.
    assert abs(ends[2][0] - 1) < 0.1, f"{said} 0.3 ended at {ends[2].round(3)}; its jumps lead to the flat one at x = 1"


def test_minimize_drifts_along_a_valley_to_where_its_walls_are_least_steep():
    def fun(x):
        return float(x[0] ** 2 * (1 + x[1] ** 2) / 2)

    def grad(x):
        return np.array([x[0] * (1 + x[1] ** 2), x[0] ** 2 * x[1]])

    rule = partial(descent, step_size=0.5)
    still, moved = (
        minimize(fun, grad, [0.1, 1.0], rule, NoState, radius=radius, max_iter=300).x for radius in (0.0, 0.2)
    )
    said = "with walls of curvature 1 + y^2, from y = 1,"
    assert abs(still[1]) > 0.9, f"{said} minimize with radius 0 ended at y = {still[1]:.3f}; it should rest near 1"
    assert abs(moved[1]) < 0.1, f"{said} minimize with radius 0.2 ended at y = {moved[1]:.3f}; the jumps lead to 0"


def test_minimize_finds_flatter_minima_of_networks_on_digits():
    rule, ratios = partial(descent, step_size=0.5), []
    for seed in range(2):
        fun, grad, hvp, start = network(seed=seed)
        tops = []
        for radius in (0.0, 0.3):
            result = minimize(fun, grad, start, rule, NoState, radius=radius, max_iter=60)
            assert result.fun < 0.8, f"60 steps with radius {radius} ended at a loss of {result.fun:.3f}, not below 0.8"
            v = grad(result.x)
            for _ in range(15):
                v = hvp(result.x, v / length(v))
            tops.append(length(v))
        ratios.append(tops[1] / tops[0])
    said = f"with SAM of radius 0.3 the sharpest eigenvalue is {ratios[0]:.3f} and {ratios[1]:.3f} times that without"
    # Over 8 other pairs of starts: 0.5 to 0.9 times each. One alone may be unlucky.
    assert ratios[0] * ratios[1] < 1, f"{said}, from two starts; minimize should find flatter places, as (4) says"


def test_minimize_converges_where_the_gradient_vanishes_and_counts(bowl):
    fun, grad = Counted(bowl.fun), Counted(bowl.grad)
    rule = partial(descent, step_size=0.2)
    done = minimize(fun, grad, bowl.start, rule, NoState, radius=0.0, tol=1e-4, max_iter=1000)
    assert done.success and done.message == CONVERGED, f"with radius 0 minimize said {done.message!r}"
    assert abs(bowl.grad(done.x)).max() <= 1e-4, f"minimize(tol=1e-4) has the gradient {bowl.grad(done.x)} at its x"
    counts = (done.nfev, len(fun.points), len(grad.points))
    assert counts == (done.nit + 1, done.nit + 1, 2 * done.nit + 1), (
        f"after {done.nit} steps nfev, the calls of fun and those of grad are {counts}; a step takes one and two"
    )
    assert done.path is None, "minimize returned a path without being asked for it"
    exact = minimize(bowl.fun, bowl.grad, bowl.start, rule, NoState, radius=0.0, tol=1e-4, max_iter=done.nit)
    assert exact.success, f"converged at the last step allowed, {done.nit}, minimize said {exact.message!r}"
    short = minimize(bowl.fun, bowl.grad, bowl.start, rule, NoState, radius=0.0, tol=1e-4, max_iter=done.nit - 1)
    assert not short.success and short.message == OUT_OF_STEPS, f"one step short, minimize said {short.message!r}"
    rest = minimize(bowl.fun, bowl.grad, bowl.minimum, rule, NoState, radius=0.5)
    assert rest.success and rest.nit == 0, f"from the minimum, minimize made {rest.nit} steps: {rest.message}"


@pytest.mark.filterwarnings("ignore:overflow")
def test_minimize_tells_that_it_diverged(bowl):
    result = minimize(bowl.fun, bowl.grad, bowl.start, partial(descent, step_size=50.0), NoState, radius=0.1)
    assert not result.success and result.message == DIVERGED, f"with a step size of 50 minimize said {result.message!r}"


def test_minimize_keeps_float32_and_its_start():
    start = np.array([3.0, -2.0], np.float32)
    rule = partial(descent, step_size=0.1)
    result = minimize(lambda x: float(x @ x), lambda x: 2 * x, start, rule, NoState, radius=0.1, max_iter=5)
    assert result.x.dtype == np.float32, f"minimize from a float32 start returned {result.x.dtype}"
    assert_close(start, np.array([3.0, -2.0], np.float32), "start after minimize", "its value before")


def test_minimize_lets_an_error_of_the_users_pass():
    def fun(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        minimize(fun, lambda x: x, [1.0], partial(descent, step_size=0.1), NoState, radius=0.1)
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: 1.0, lambda x: x[:1], [1.0, 2.0], partial(descent, step_size=0.1), NoState, radius=0.1)


# worst_rise


@pytest.mark.parametrize("spectrum", [[0.4, 1.1, 2.7], [0.3, 0.2, 0.7, 5.1, 1.9, 0.6, 1.3]])
def test_worst_rise_at_the_minimum_of_a_quadratic_is_that_of_the_sharpest_direction(spectrum, rng):
    problem = quadratic(np.array(spectrum), rng=rng)
    actual = worst_rise(problem.fun, problem.grad, problem.minimum, 0.35, n_steps=60, rng=rng)
    # After 60 repetitions the second direction is left with at most (2.7 / 1.1)^-120 of its share.
    expected = 0.35**2 * max(spectrum) / 2
    assert_close(actual, expected, f"worst_rise at the minimum, eigenvalues {spectrum}, radius=0.35", "equation (9)")


@pytest.mark.parametrize("seed", range(4))
def test_worst_rise_where_the_slope_prevails_is_the_greatest_in_the_ball(seed, bowl):
    """The maximum is where H e + g = m e with m above all eigenvalues and the length of e the radius: find m."""
    values, axes = np.linalg.eigh(bowl.hessian)
    slope = axes.T @ bowl.grad(bowl.start)
    low, high = values[-1], values[-1] + length(slope) / 0.2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if length(slope / (middle - values)) > 0.2 else (low, middle)
    away = slope / (high - values)
    expected = slope @ away + values @ away**2 / 2
    rng = np.random.default_rng(seed)
    actual = worst_rise(bowl.fun, bowl.grad, bowl.start, 0.2, n_steps=200, rng=rng)
    assert_close(
        actual, expected, "worst_rise of a quadratic on its slope, radius=0.2", "(9), solved by its multiplier"
    )


def test_worst_rise_goes_uphill_from_the_first_and_never_falls_if_the_objective_is_convex():
    """Beside the minimum of a parabola both ends of the ball are local maxima; the one uphill is the greater."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        actual = worst_rise(
            lambda x: float((x[0] - 2) ** 2), lambda x: 2 * x - 4, np.array([1.7]), 0.75, n_steps=1, rng=rng
        )
        expected = 1.05**2 - 0.3**2
        assert_close(actual, expected, "worst_rise of (x - 2)^2 at 1.7, radius=0.75", "1.05^2 - 0.3^2: uphill")


def test_worst_rise_is_the_best_it_met_and_zero_where_nothing_rises(rng):
    fun, grad = (lambda x: -float(x @ x) / 2), (lambda x: -x)
    top = worst_rise(fun, grad, np.zeros(3), 0.5, rng=rng)
    assert_close(top, 0.0, "worst_rise at the top of a hill", "(9): the ball holds its centre, e = 0")
    fun, grad = Counted(lambda x: float(np.sin(9 * x[0]) + x[0])), lambda x: np.array([9 * np.cos(9 * x[0]) + 1])
    x = np.array([0.3])
    actual = worst_rise(fun, grad, x, 0.35, n_steps=7, rng=rng)
    best = max(fun.function(point) for point in fun.points) - fun.function(x)
    assert_close(actual, max(best, 0.0), "worst_rise of sin(9x) + x", "the largest rise among the points it tried")


def test_worst_rise_lets_an_error_of_the_users_pass(rng):
    def grad(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        worst_rise(lambda x: 0.0, grad, np.ones(2), 0.1, rng=rng)


# top_eigenvalue


@pytest.mark.parametrize("spectrum", [[0.4, 2.7, -6.3], [0.4, 2.7, -2.3, 6.1], [0.731]])
def test_top_eigenvalue_is_the_largest_in_size_with_its_sign(spectrum, rng):
    problem = quadratic(np.array(spectrum), rng=rng)
    actual = top_eigenvalue(problem.hvp, problem.start, tol=1e-10, rng=rng)
    expected = max(spectrum, key=abs)
    # The residual of 1e-10 bounds the error of the eigenvalue, as the note says below (11).
    assert_close(actual, expected, f"top_eigenvalue for the eigenvalues {spectrum}", "(11)", rtol=1e-9)


def test_top_eigenvalue_is_that_at_the_point_it_is_given(rng):
    problem = beale()
    x = np.array([2.1, 0.7])
    values = np.linalg.eigvalsh(problem.hess(x))
    expected = max(values, key=abs)
    actual = top_eigenvalue(problem.hvp, x, tol=1e-9, rng=rng)
    assert_close(actual, expected, "top_eigenvalue of Beale's function at (2.1, 0.7)", "NumPy's eigvalsh", rtol=1e-8)


@pytest.mark.parametrize(("tol", "sign"), [(0.3, 1), (1e-3, 1), (1e-3, -1)])
def test_top_eigenvalue_stops_at_the_residual_it_was_asked_for(tol, sign, rng):
    problem = quadratic(sign * np.array([1.3, 2.9, 3.7, 4.4]), rng=rng)
    hvp = Counted(lambda v: problem.hvp(problem.start, v))
    actual = top_eigenvalue(lambda x, v: hvp(v), problem.start, tol=tol, rng=rng)
    residuals, quotients = [], []
    for v in hvp.points:
        quotients.append(float(v @ problem.hvp(v, v)) / (v @ v))
        residuals.append(length(problem.hvp(v, v) - quotients[-1] * v) / length(v) / abs(quotients[-1]))
    said = f"top_eigenvalue(tol={tol}) went on for {len(residuals)} products with the shares {np.round(residuals, 5)}"
    assert residuals[-1] <= tol * (1 + 1e-9), f"{said}: it stopped before the residual was below tol"
    assert all(r > tol * (1 - 1e-9) for r in residuals[:-1]), f"{said}: it should have stopped earlier"
    assert_close(actual, quotients[-1], f"top_eigenvalue(tol={tol})", "the last quotient of (11)")


def test_top_eigenvalue_makes_as_many_products_as_asked_for(rng):
    problem = quadratic(np.array([1.3, 2.9, 3.7, 4.4]), rng=rng)
    hvp = Counted(lambda v: problem.hvp(problem.start, v))
    top_eigenvalue(lambda x, v: hvp(v), problem.start, tol=0.0, n_steps=9, rng=rng)
    seen = len(hvp.points)
    assert seen == 9, f"top_eigenvalue(n_steps=9, tol=0) made {seen} products"
    sizes = [length(v) for v in hvp.points]
    assert_close(sizes, np.ones(seen), "the lengths of the vectors that top_eigenvalue multiplies", "equation (11)")


def test_top_eigenvalue_of_a_flat_place_is_zero(rng):
    hvp = Counted(lambda v: 0 * v)
    actual = top_eigenvalue(lambda x, v: hvp(v), np.ones(3), rng=rng)
    assert_close(actual, 0.0, "top_eigenvalue where every product is zero", "0")
    seen = len(hvp.points)
    assert seen == 1, (
        f"top_eigenvalue made {seen} products where the first was zero: its residual is no more than tol |0|"
    )


# average_rise


def test_average_rise_is_half_the_variance_times_the_trace_of_the_hessian():
    """A linear term adds nothing on average. The variance of a draw is s^2 g'g + s^4 tr(H^2) / 2."""
    spectrum = np.array([0.4, 1.1, 2.7, 6.3, -3.2])
    problem = quadratic(spectrum, rng=np.random.default_rng(3))
    x = problem.minimum + 0.3 * (problem.start - problem.minimum)
    gradient, scale, n_draws = problem.grad(x), 0.6, 4
    rng = np.random.default_rng(12)
    rises = [average_rise(problem.fun, x, scale, n_draws=n_draws, rng=rng) for _ in range(600)]
    variance = scale**2 * gradient @ gradient + scale**4 * (spectrum**2).sum() / 2
    call = f"average_rise(scale=0.6, n_draws={n_draws}) of a quadratic on its slope, 600 times"
    because = "equation (12): half of sigma^2 times the trace, 7.3"
    assert_mean(np.array(rises), scale**2 * spectrum.sum() / 2, call, because, sd=float(np.sqrt(variance / n_draws)))


def test_average_rise_averages_over_its_own_draws_and_changes_each_component_on_its_own(rng):
    fun = Counted(lambda x: float(np.exp(x).sum()))
    x = np.array([0.3, -0.4, 1.1])
    actual = average_rise(fun, x, 0.5, n_draws=7, rng=rng)
    drawn = np.array([point for point in fun.points if not np.array_equal(point, x)])
    assert drawn.shape == (7, 3), f"average_rise(n_draws=7) tried {len(drawn)} points besides its own"
    assert len(np.unique(drawn - x)) == 21, "average_rise changed several components or draws by the same number"
    expected = np.exp(drawn).sum(axis=1).mean() - np.exp(x).sum()
    assert_close(actual, expected, "average_rise(n_draws=7)", "the mean of fun over its 7 points, less fun at x")


def test_average_rise_without_spread_is_zero(rng):
    actual = average_rise(lambda x: float(x @ x), X, 0.0, n_draws=5, rng=rng)
    assert_close(actual, 0.0, "average_rise(scale=0)", "no change, no rise", atol=1e-14)


@pytest.mark.given
@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf])
def test_ascent_and_all_that_use_a_radius_refuse_one_that_is_none(bad, rng):
    rule = partial(descent, step_size=0.1)
    calls = [
        lambda: ascent(G, bad),
        lambda: adaptive_ascent(X, G, bad),
        lambda: sam_gradient(lambda x: x, X, G, radius=bad),
        lambda: minimize(lambda x: 0.0, lambda x: x, X, rule, NoState, radius=bad),
        lambda: worst_rise(lambda x: 0.0, lambda x: x, X, bad, rng=rng),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="radius must"):
            call()
    for call in (
        lambda: adaptive_ascent(X, G, 0.1, shift=bad),
        lambda: sam_gradient(lambda x: x, X, G, radius=0.1, shift=bad),
        lambda: minimize(lambda x: 0.0, lambda x: x, X, rule, NoState, radius=0.1, shift=bad),
    ):
        with pytest.raises(ValueError, match="shift must"):
            call()
    with pytest.raises(ValueError, match="tol must"):
        top_eigenvalue(lambda x, v: v, X, tol=bad, rng=rng)
    with pytest.raises(ValueError, match="scale must"):
        average_rise(lambda x: 0.0, X, bad, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.array([]), np.array([np.nan])])
def test_minimize_and_the_measures_refuse_what_is_no_point(bad, rng):
    calls = [
        lambda: minimize(lambda x: 0.0, lambda x: x, bad, partial(descent, step_size=0.1), NoState, radius=0.1),
        lambda: worst_rise(lambda x: 0.0, lambda x: x, bad, 0.1, rng=rng),
        lambda: top_eigenvalue(lambda x, v: v, bad, rng=rng),
        lambda: average_rise(lambda x: 0.0, bad, 0.1, rng=rng),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="start must"):
            call()


@pytest.mark.given
def test_worst_rise_and_the_other_measures_refuse_counts_below_one(rng):
    with pytest.raises(ValueError, match="n_steps"):
        worst_rise(lambda x: 0.0, lambda x: x, X, 0.1, n_steps=0, rng=rng)
    with pytest.raises(ValueError, match="n_steps"):
        top_eigenvalue(lambda x, v: v, X, n_steps=0, rng=rng)
    with pytest.raises(ValueError, match="n_draws"):
        average_rise(lambda x: 0.0, X, 0.1, n_draws=0, rng=rng)
