"""Shared tests of optim/newton/trust_region: run on the reference, and on the learner's file.

Everything here is deterministic. Tolerances of 1e-9 leave room for another order of the operations at the condition
numbers here, some hundreds; wider ones have their reason beside them.
"""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._shared import beale, himmelblau, logistic, quadratic, rosenbrock
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.newton.damped import estimate_order
from mlpath.optim.newton.trust_region import (
    STALLED,
    cauchy_step,
    decrease_ratio,
    dogleg,
    minimize,
    next_radius,
    predicted_decrease,
    steihaug,
    to_border,
)
from mlpath.testing import assert_close

G2, H2 = np.array([1.7, -2.3]), np.array([[3.1, 0.8], [0.8, 1.9]])
G3 = np.array([1.3, -0.7, 2.9])
H3 = np.array([[2.4, 0.9, -0.6], [0.9, 1.5, 0.4], [-0.6, 0.4, 3.8]])  # positive definite
I3 = np.array([[2.4, 3.1, -0.6], [3.1, 1.5, 0.9], [-0.6, 0.9, -2.9]])  # indefinite


class Counted:
    """A function that remembers how often it was called, and with arguments of which shapes."""

    def __init__(self, function):
        self.function, self.calls, self.shapes = function, 0, set()

    def __call__(self, *arguments):
        self.calls += 1
        self.shapes.add(arguments[-1].shape)
        return self.function(*arguments)


def symmetric(spectrum, seed=0):
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((len(spectrum), len(spectrum))))
    matrix = (axes * np.array(spectrum)) @ axes.T
    return (matrix + matrix.T) / 2


def promise(gradient, hessian, step):
    return float(-gradient @ step - step @ hessian @ step / 2)


def exact(gradient, hessian, radius):
    """The best step in the ball and its multiplier, by bisection on the condition (9) of More and Sorensen."""
    values, vectors = np.linalg.eigh(hessian)
    g = vectors.T @ gradient
    if values[0] > 0 and np.linalg.norm(g / values) <= radius:
        return -vectors @ (g / values), 0.0
    low = max(0.0, -values[0])
    high = low + np.linalg.norm(g) / radius + 1e-12
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if np.linalg.norm(g / (values + middle)) > radius else (low, middle)
    return -vectors @ (g / (values + high)), high


@cache
def tumours():
    """A logistic regression."""
    rng = np.random.default_rng(5)
    features = rng.standard_normal((60, 5)) @ np.diag([0.3, 0.6, 1.0, 2.0, 4.0])
    signs = np.sign(features @ [3.0, -1.0, 1.0, 0.2, 0.5] + 0.5 * rng.standard_normal(60))
    return logistic(features, signs, ridge=0.02)


def walk(problem, start=None, **options):
    start = problem.start if start is None else np.asarray(start)
    return minimize(problem.fun, problem.grad, problem.hvp, start, record_path=True, **options)


# predicted_decrease


def test_predicted_decrease_of_a_case_by_hand():
    step, product = np.array([-0.62, 0.85]), np.array([-1.242, 1.119])  # H2 times the step
    expected = 1.7 * 0.62 + 2.3 * 0.85 - (0.62 * 1.242 + 0.85 * 1.119) / 2
    got = predicted_decrease(G2, product, step)
    assert_close(got, expected, f"predicted_decrease({G2}, {product}, {step})", "equation (2)", rtol=1e-12)


def test_predicted_decrease_is_what_a_quadratic_loses():
    problem = quadratic(np.array([-2.0, 0.5, 3.0, 7.0]), rng=np.random.default_rng(1))
    step = np.array([0.3, -1.1, 0.7, 0.2])
    x = problem.start
    got = predicted_decrease(problem.grad(x), problem.hvp(x, step), step)
    assert_close(got, problem.fun(x) - problem.fun(x + step), "predicted_decrease on a quadratic", "f(x) - f(x + p)")


# decrease_ratio


def test_decrease_ratio_of_cases_by_hand():
    got = decrease_ratio(7.35, 6.12, 1.87)
    assert_close(got, 1.23 / 1.87, "decrease_ratio(7.35, 6.12, 1.87)", "equation (3)", rtol=1e-9)
    got = decrease_ratio(-6.12, -5.35, 1.87)
    assert_close(got, -0.77 / 1.87, "decrease_ratio(-6.12, -5.35, 1.87)", "(3): the objective rose", rtol=1e-9)
    got = decrease_ratio(-7.5, -7.9, 0.23, rounding=0.12)
    assert_close(got, 1.3 / 1.13, "decrease_ratio(-7.5, -7.9, 0.23, rounding=0.12)", "(3) with delta 0.9", rtol=1e-12)


def test_decrease_ratio_is_no_evidence_where_all_is_rounding():
    for trial in (7.5, 7.500000000000001, 7.499999999999999):
        got = decrease_ratio(7.5, trial, 1e-20)
        assert 0.9 < got < 1.1, f"decrease_ratio(7.5, {trial}, 1e-20) is {got}; by (3) delta makes it nearly 1"


@pytest.mark.parametrize(
    ("trial", "predicted"), [(np.nan, 1.3), (np.inf, 1.3), (-np.inf, 1.3), (2.1, 0.0), (2.1, -1.3), (2.1, np.nan)]
)
def test_decrease_ratio_is_minus_infinity_where_it_means_nothing(trial, predicted):
    got = decrease_ratio(3.4, trial, predicted)
    assert got == -np.inf, f"decrease_ratio(3.4, {trial}, {predicted}) is {got}; see below (3): minus infinity"


# next_radius


@pytest.mark.parametrize(
    ("ratio", "length", "expected"),
    [
        (0.2499, 1.732, 0.433),
        (0.2499, 0.61, 0.433),
        (-np.inf, 1.732, 0.433),
        (0.25, 1.732, 1.732),
        (0.75, 1.732, 1.732),
        (0.7501, 1.732, 3.464),
        (0.7501, 1.7317, 3.464),
        (0.7501, 1.70, 1.732),
        (3.9, 1.732, 3.464),
    ],
)
def test_next_radius_of_cases_by_hand(ratio, length, expected):
    got = next_radius(1.732, ratio, length, 60.5)
    assert_close(got, expected, f"next_radius(1.732, {ratio}, {length}, 60.5)", "equation (4)", rtol=1e-12)


def test_next_radius_keeps_below_the_largest():
    assert_close(next_radius(43.7, 0.95, 43.7, 60.5), 60.5, "next_radius(43.7, 0.95, 43.7, 60.5)", "(4)", rtol=1e-12)
    got = next_radius(1000.0, 0.95, 999.0, 5000.0)
    assert_close(got, 2000.0, "next_radius(1000, 0.95, 999, 5000)", "twice: 0.999 of the radius counts", rtol=1e-12)
    assert_close(next_radius(60.5, 0.95, 60.5, 60.5), 60.5, "next_radius(60.5, 0.95, 60.5, 60.5)", "(4)", rtol=1e-12)


# cauchy_step


def test_cauchy_step_of_cases_by_hand():
    product = H2 @ G2
    before = G2.copy(), product.copy()
    length, curvature = (1.7**2 + 2.3**2) ** 0.5, (1.7**2 * 3.1 - 2 * 1.7 * 2.3 * 0.8 + 2.3**2 * 1.9) / 8.18
    for radius, far in ((2.6, length / curvature), (0.73, 0.73)):
        got = cauchy_step(G2, product, radius)
        assert_close(got, -far * G2 / length, f"cauchy_step({G2}, {product}, {radius})", "equation (5)", rtol=1e-12)
    for down in (-product, np.array([2.3, 1.7])):  # curvature negative, and zero
        got = cauchy_step(G2, down, 2.6)
        call = f"cauchy_step({G2}, {down}, 2.6)"
        assert_close(got, -2.6 * G2 / length, call, "(5): to the border", rtol=1e-12)
    assert_close(G2, before[0], "cauchy_step changed the gradient, which now")
    assert_close(product, before[1], "cauchy_step changed the product, which now")
    low = cauchy_step(G2.astype(np.float32), product.astype(np.float32), 0.5)
    assert low.dtype == np.float32, f"cauchy_step in float32 returned {low.dtype}"


@pytest.mark.parametrize("scale", [1e-120, 1e120])
def test_cauchy_step_holds_at_extreme_scales(scale):
    for units in (1.0, scale):  # of the Hessian
        got = cauchy_step(scale * G2, units * (scale * (H2 @ G2)), 1e200)
        expected = cauchy_step(G2, H2 @ G2, 1e200) * (scale / units)
        call = f"cauchy_step of {scale:g} times a gradient and {units:g} times a Hessian"
        assert_close(got / scale * units, expected / scale * units, call, "(5), scaled", rtol=1e-9)


def test_cauchy_step_promises_what_convergence_needs():
    for seed in range(6):
        rng = np.random.default_rng(seed)
        hessian, gradient = symmetric(rng.uniform(-4, 6, 7), seed), rng.standard_normal(7)
        size, length = np.linalg.norm(hessian, 2), np.linalg.norm(gradient)
        for radius in (0.05, 0.8, 5.0):
            step = cauchy_step(gradient, hessian @ gradient, radius)
            least = length / 2 * min(radius, length / size)
            got = promise(gradient, hessian, step)
            assert got >= least * (1 - 1e-9), f"cauchy_step promises {got}, at least {least} by the bound below (5)"
            assert np.linalg.norm(step) <= radius * (1 + 1e-9), (
                f"cauchy_step of length {np.linalg.norm(step)} > {radius}"
            )


# to_border


def test_to_border_of_cases_by_hand():
    step, direction = np.array([0.9, -0.4]), np.array([1.3, 2.7])
    # |p|^2 = 0.97, |d|^2 = 8.98, p'd = 0.09, radius^2 = 2.89: 8.98 t^2 + 0.18 t - 1.92 = 0
    for sign in (1, -1):
        expected = (-sign * 0.09 + (0.09**2 + 8.98 * 1.92) ** 0.5) / 8.98
        got = to_border(step, sign * direction, 1.7)
        assert_close(got, expected, f"to_border({step}, {sign * direction}, 1.7)", "equation (6)", rtol=1e-12)
    assert_close(to_border(np.zeros(2), direction, 1.7), 1.7 / 8.98**0.5, "to_border from 0", "(6)", rtol=1e-12)


def test_to_border_reaches_the_border_and_never_goes_backwards():
    rng = np.random.default_rng(2)
    for _ in range(20):
        step, direction = rng.standard_normal((2, 6))
        radius = np.linalg.norm(step) * rng.uniform(1.001, 4)
        tau = to_border(step, direction, radius)
        assert tau >= 0, f"to_border returned {tau}, which leads backwards"
        reached = np.linalg.norm(step + tau * direction)
        assert_close(reached, radius, "the length of step + to_border(...) direction", "the radius", rtol=1e-9)


def test_to_border_keeps_its_digits():
    step, direction = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    radius = 1.0 + 2.0**-40
    got = to_border(step, direction, radius)  # 5 t^2 + 4 t = 2^-39 + 2^-80
    room = 2.0**-39
    assert_close(
        got, room / 4 * (1 - 5 * room / 16), "to_border from just inside, outwards", "(6), second form", rtol=1e-9
    )
    for outside in (1.0, 1.0 - 2.0**-50):  # at the border, and by rounding beyond
        got = to_border(step, direction, outside)
        assert got == 0, f"to_border from the border outwards is {got}, 0 is expected"
    got = to_border(step, -direction, 1.0)
    assert_close(got, 0.8, "to_border from the border inwards", "the other side of the ball", rtol=1e-9)
    for scale in (1e-100, 1e100):
        got = to_border(step, scale * direction, 2.0) * scale
        expected = to_border(step, direction, 2.0)
        assert_close(got, expected, f"to_border along {scale:g} times a direction", "the same point", rtol=1e-9)


# dogleg


def test_dogleg_of_cases_by_hand():
    before = H2.copy()
    det = 3.1 * 1.9 - 0.64
    newton = -np.array([1.9 * 1.7 + 0.8 * 2.3, -0.8 * 1.7 - 3.1 * 2.3]) / det  # of length 1.876
    cauchy = -8.18 / (1.7**2 * 3.1 - 2 * 1.7 * 2.3 * 0.8 + 2.3**2 * 1.9) * G2  # of length 1.840
    d = newton - cauchy
    a, b, c = d @ d, cauchy @ d, cauchy @ cauchy - 1.86**2
    tau = (-b + (b**2 - a * c) ** 0.5) / a
    cases = {1.95: newton, 1.86: cauchy + tau * d, 0.9: -0.9 * G2 / 8.18**0.5}
    for radius, expected in cases.items():
        got = dogleg(G2, H2, radius)
        assert_close(got, expected, f"dogleg({G2}, {H2.tolist()}, {radius})", "equation (7)", rtol=1e-9)
    assert_close(H2, before, "dogleg changed the Hessian, which now")
    low = dogleg(G2.astype(np.float32), H2.astype(np.float32), 1.86)
    assert low.dtype == np.float32, f"dogleg in float32 returned {low.dtype}"


def test_dogleg_without_a_newton_step_takes_the_cauchy_step():
    for hessian in (I3, -H3, np.diag([1.0, 2.0, 0.0])):
        got = dogleg(G3, hessian, 1.35)
        expected = cauchy_step(G3, hessian @ G3, 1.35)
        assert_close(got, expected, f"dogleg({G3}, {hessian.tolist()}, 1.35)", "the Cauchy step, below (7)", rtol=1e-12)


def test_dogleg_gets_longer_and_the_model_lower_as_the_ball_grows():
    hessian, gradient = symmetric(np.geomspace(0.5, 80, 9)), np.random.default_rng(1).standard_normal(9)
    longest = np.linalg.norm(np.linalg.solve(hessian, gradient))
    last = 0.0
    for radius in np.geomspace(0.01, 1.5, 25) * longest:
        step = dogleg(gradient, hessian, radius)
        call = f"dogleg with {radius / longest:.3f} of the length of Newton's step for the radius"
        length = min(radius, longest)
        assert_close(np.linalg.norm(step), length, f"{call}: its length", "the radius, or Newton's", rtol=1e-9)
        gain = promise(gradient, hessian, step)
        best = promise(gradient, hessian, exact(gradient, hessian, radius)[0])
        assert last <= gain * (1 + 1e-9), f"{call} promises {gain}, a smaller ball has {last}"
        assert gain <= best * (1 + 1e-9), f"{call} promises {gain}, which no step in the ball can: {best}"
        last = gain


# steihaug


def test_steihaug_of_cases_by_hand():
    first = cauchy_step(G3, H3 @ G3, 99.0)  # one step of conjugate gradients
    hvp = Counted(lambda v: H3 @ v)
    got = steihaug(G3, hvp, 99.0, tol=0.99)
    assert_close(got, first, "steihaug with tol=0.99 and a large ball", "the first point, which is p_C", rtol=1e-9)
    assert hvp.calls == 1, f"steihaug multiplied {hvp.calls} times for one step; (8) needs no more than that"
    got = steihaug(G3, lambda v: H3 @ v, 0.6)
    assert_close(got, -0.6 * G3 / np.linalg.norm(G3), "steihaug with a small ball", "straight to the border", rtol=1e-9)
    # the second point by hand: residual, beta and the length along the new direction
    residual = -G3 - H3 @ first
    direction = residual - (residual @ residual) / (G3 @ G3) * G3
    length = residual @ residual / (direction @ H3 @ direction)
    got = steihaug(G3, lambda v: H3 @ v, 99.0, max_iter=2, tol=0.0)
    assert_close(got, first + length * direction, "steihaug with max_iter=2", "two steps of CG", rtol=1e-9)
    radius = (np.linalg.norm(first) + np.linalg.norm(got)) / 2
    expected = first + to_border(first, direction, radius) * direction
    got = steihaug(G3, lambda v: H3 @ v, radius, tol=0.0)
    assert_close(got, expected, "steihaug that meets the border in its second step", "(6) from p_1 along d", rtol=1e-9)


def test_steihaug_ends_at_a_residual_of_zero_and_after_max_iter_steps():
    got = steihaug(G3, lambda v: 2 * v, 99.0, tol=0.0)
    assert_close(
        got, -G3 / 2, "steihaug with twice the identity and tol=0", "solved in one step, residual 0", rtol=1e-12
    )
    hvp = Counted(lambda v: np.array([1.0, 3.0, 10.0] if hvp.calls % 2 else [2.0, 1.0, 5.0]) * v)  # never settles
    for max_iter, expected in ((None, 30), (7, 7)):
        hvp.calls = 0
        steihaug(G3, hvp, 1e100, tol=0.0, max_iter=max_iter)
        call = f"steihaug with 3 variables, max_iter={max_iter} and a product that never settles"
        assert hvp.calls == expected, f"{call} multiplied {hvp.calls} times, {expected} is expected"


def test_steihaug_goes_to_the_border_where_the_curvature_is_not_positive():
    for hessian in (-H3, np.zeros((3, 3))):
        hvp = Counted(lambda v, hessian=hessian: hessian @ v)
        got = steihaug(G3, hvp, 1.35)
        call = f"steihaug({G3}, {hessian.tolist()}, 1.35)"
        assert_close(got, -1.35 * G3 / np.linalg.norm(G3), call, "straight to the border", rtol=1e-12)
        assert hvp.calls == 1, f"{call} multiplied {hvp.calls} times, once is enough"
    hessian = np.diag([3.0, 1.0, -0.4])  # positive along the gradient, and not along the next direction
    first = cauchy_step(G3, hessian @ G3, 99.0) if G3 @ hessian @ G3 > 0 else None
    residual = -G3 - hessian @ first
    direction = residual - (residual @ residual) / (G3 @ G3) * G3
    assert direction @ hessian @ direction < 0, "the case is built wrongly"
    expected = first + to_border(first, direction, 50.0) * direction
    got = steihaug(G3, lambda v: hessian @ v, 50.0)
    assert_close(got, expected, "steihaug that meets negative curvature in its second step", "(6) along d", rtol=1e-9)


def test_steihaug_solves_newtons_equation_to_the_tolerance_in_a_large_ball():
    hessian, gradient = symmetric(np.geomspace(0.5, 80, 12)), np.random.default_rng(1).standard_normal(12)
    before, last = gradient.copy(), 0
    for tol in (0.3, 1e-2, 1e-4, 1e-9):
        hvp = Counted(lambda v: hessian @ v)
        step = steihaug(gradient, hvp, 1e3, tol=tol)
        left = np.linalg.norm(hessian @ step + gradient) / np.linalg.norm(gradient)
        assert left <= tol * (1 + 1e-6), f"steihaug(tol={tol}) left {left} of the gradient: see (8)"
        assert hvp.calls > last, f"steihaug(tol={tol}) multiplied {hvp.calls} times, no more than for a wider tolerance"
        last = hvp.calls
    assert_close(step, -np.linalg.solve(hessian, gradient), "steihaug(tol=1e-9)", "Newton's step", rtol=1e-6)
    assert_close(gradient, before, "steihaug changed the gradient, which now")
    assert steihaug(gradient.astype(np.float32), lambda v: (hessian @ v).astype(np.float32), 1.0).dtype == np.float32, (
        "steihaug of a float32 gradient returned another dtype"
    )


def test_steihaug_gains_half_of_the_best_and_no_less_than_the_cauchy_step():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        gradient = rng.standard_normal(8)
        for spectrum in (np.geomspace(0.05, 30, 8), rng.uniform(-4, 6, 8)):
            hessian = symmetric(spectrum, seed)
            for radius in (0.1, 0.6, 3.0):
                step = steihaug(gradient, lambda v, hessian=hessian: hessian @ v, radius)
                call = f"steihaug with eigenvalues from {min(spectrum):.2f} and radius {radius}"
                gain, length = promise(gradient, hessian, step), np.linalg.norm(step)
                best, multiplier = exact(gradient, hessian, radius)
                floor = promise(gradient, hessian, cauchy_step(gradient, hessian @ gradient, radius))
                top = promise(gradient, hessian, best)
                stationary = (hessian + multiplier * np.eye(8)) @ best + gradient
                assert abs(stationary).max() < 1e-6 * max(1, multiplier), "the oracle misses (9)"
                assert length <= radius * (1 + 1e-9), f"{call}: the step has the length {length}"
                assert floor * (1 - 1e-9) <= gain <= top * (1 + 1e-9), f"{call} promises {gain}, not {floor} to {top}"
                if min(spectrum) > 0:
                    assert gain >= top / 2, f"{call} promises {gain}, less than half of the best, {top}"
                else:
                    assert_close(length, radius, f"{call}: its length", "the radius", rtol=1e-9)


def test_steihaug_and_dogleg_find_the_exact_step_where_the_model_is_round():
    hessian, radius = 2.3 * np.eye(3), 0.8
    best, multiplier = exact(G3, hessian, radius)
    assert multiplier > 0, "the case is built wrongly"
    got = steihaug(G3, lambda v: hessian @ v, radius), dogleg(G3, hessian, radius)
    for name, step in zip(("steihaug", "dogleg"), got):
        assert_close(step, best, f"{name} with a multiple of the identity", "the exact step, (9)", rtol=1e-9)


def test_steihaug_and_dogleg_miss_the_hard_case():
    gradient, hessian = np.array([1.4, 0.0]), np.diag([2.0, -3.0])  # (9): lambda 3, p_1 = -0.28, p_2 to the border
    for radius in (0.5, 4.0):
        steps = steihaug(gradient, lambda v: hessian @ v, radius), dogleg(gradient, hessian, radius)
        for name, step in zip(("steihaug", "dogleg"), steps):
            call = f"{name}({gradient}, {hessian.tolist()}, {radius}): along the negative curvature"
            assert_close(step[1], 0.0, call, "nothing, since g, Bg, ... have no part there", atol=1e-12)
            assert_close(step[0], -min(radius, 0.7), f"{name} along the gradient", "(5)", rtol=1e-9)


# minimize

PROBLEMS = {"rosenbrock": rosenbrock(2), "rosenbrock 10": rosenbrock(10), "beale": beale(), "himmelblau": himmelblau()}


@pytest.mark.parametrize("method", ["steihaug", "dogleg"])
@pytest.mark.parametrize("name", [*PROBLEMS, "logistic"])
def test_minimize_finds_the_minimum(name, method):
    problem = tumours() if name == "logistic" else PROBLEMS[name]
    fun, grad = Counted(problem.fun), Counted(problem.grad)
    start = np.full(10, 1.4) if name == "rosenbrock 10" else problem.start.copy()
    before = start.copy()
    result = minimize(fun, grad, problem.hvp, start, method=method, tol=1e-8, record_path=True)
    call = f"minimize({name}, method={method!r})"
    assert result.success and result.message == CONVERGED, f"{call}: {result.message!r} after {result.nit} steps"
    assert_close(result.x, problem.minimum, f"{call}.x", "the minimum", atol=1e-5)
    assert result.nit <= 60, f"{call} took {result.nit} steps"
    assert_close(result.fun, problem.fun(result.x), f"{call}.fun", "the objective at x", atol=1e-15)
    assert result.nfev == fun.calls == result.nit + 1, f"{call} counted {result.nfev} evaluations of {fun.calls}"
    taken = int((result.ratios > 0.15).sum())
    assert grad.calls == taken + 1, f"{call}: {grad.calls} gradients, one at the start and each of {taken} steps taken"
    assert len(result.path) - 1 == len(result.radii) == len(result.ratios) == result.nit, f"{call}: {result}"
    assert_close(start, before, f"{call} changed start, which now")
    values = [problem.fun(x) for x in result.path]
    assert (np.diff(values) <= 1e-12).all(), f"{call}: the objective rose along {values}"


@pytest.mark.parametrize(
    ("name", "method", "peer", "start"),
    [
        ("rosenbrock", "steihaug", "trust-ncg", None),
        ("rosenbrock", "dogleg", "dogleg", None),
        ("rosenbrock 10", "steihaug", "trust-ncg", None),
        ("beale", "steihaug", "trust-ncg", None),
        ("himmelblau", "steihaug", "trust-ncg", None),
        ("logistic", "steihaug", "trust-ncg", [3.0, -4.0, 9.0, 1.0, -2.0]),
        ("logistic", "dogleg", "dogleg", [3.0, -4.0, 9.0, 1.0, -2.0]),
    ],
)
def test_minimize_walks_as_scipy_does(name, method, peer, start):
    problem = tumours() if name == "logistic" else PROBLEMS[name]
    start = problem.start if start is None else np.array(start)
    points = [start]
    options = {"initial_trust_radius": 0.7, "max_trust_radius": 2.9, "maxiter": 25, "gtol": 1e-4}
    derivatives = {"jac": problem.grad, "hess": problem.hess}
    scipy_minimize(
        problem.fun, start, method=peer, options=options, callback=lambda x: points.append(x.copy()), **derivatives
    )
    path = walk(problem, start, method=method, radius=0.7, max_radius=2.9, max_iter=25, tol=1e-9).path
    shared = min(len(points), len(path))
    call = f"the path of minimize({name}, method={method!r}, radius=0.7, max_radius=2.9)"
    # Over 25 steps of a curved valley rounding grows by some 1e4.
    assert_close(path[:shared], np.array(points[:shared]), call, f"SciPy's {peer}", rtol=1e-7, atol=1e-8)


def test_minimize_keeps_account_of_radii_and_ratios():
    problem = rosenbrock(2)
    result = walk(problem, radius=3.7, max_radius=8.0, max_iter=22)
    steps = np.diff(result.path, axis=0)
    assert_close(result.radii[0], 3.7, "the first of the radii", "the argument radius")
    assert min(result.ratios) < 0.15 < 0.75 < max(result.ratios), f"the ratios are {result.ratios}, of one kind only"
    for k, (x, step, ratio) in enumerate(zip(result.path, steps, result.ratios)):
        moved = bool(np.any(step != 0))
        assert moved == bool(ratio > 0.15), f"step {k} has the ratio {ratio}, and it was {'' if moved else 'not '}taken"
        if moved:
            gain = problem.fun(x) - problem.fun(x + step)
            expected = gain / promise(problem.grad(x), problem.hess(x), step)
            assert_close(ratio, expected, f"the ratio of step {k}", "equation (3)", rtol=1e-6)
            length = np.linalg.norm(step)
            assert length <= result.radii[k] * (1 + 1e-9), f"step {k} of length {length} in the ball {result.radii[k]}"
    for k in range(result.nit - 1):
        length = np.linalg.norm(steps[k]) if result.ratios[k] > 0.15 else result.radii[k]
        expected = next_radius(result.radii[k], result.ratios[k], length, 8.0)
        assert_close(result.radii[k + 1], expected, f"the radius after step {k}", "equation (4)", rtol=1e-12)


def test_minimize_takes_steps_by_the_ratio_it_is_given():
    problem = rosenbrock(2)
    lax, strict = (walk(problem, accept=accept, radius=0.5, max_iter=40) for accept in (0.0, 0.24))
    for accept, result in ((0.0, lax), (0.24, strict)):
        moved = np.any(np.diff(result.path, axis=0) != 0, axis=1)
        call = f"minimize(rosenbrock, accept={accept})"
        assert (moved == (result.ratios > accept)).all(), f"{call}: ratios {result.ratios}, steps taken {moved}"
    between = (lax.ratios > 0) & (lax.ratios < 0.24)
    assert between.any(), f"accept=0 met no ratio below 0.24: {lax.ratios}"


@pytest.mark.parametrize(
    ("name", "method", "forcing", "order"),
    [
        ("rosenbrock", "dogleg", 0.5, 2.0),
        ("himmelblau", "dogleg", 0.5, 2.0),
        ("logistic", "dogleg", 0.5, 2.0),
        ("logistic", "steihaug", 1.0, 2.0),
        ("logistic", "steihaug", 0.5, 1.5),
    ],
)
def test_minimize_converges_with_the_order_of_theory(name, method, forcing, order):
    problem = tumours() if name == "logistic" else PROBLEMS[name]
    path = walk(problem, method=method, forcing=forcing, tol=1e-13, max_iter=60).path
    errors = np.linalg.norm(path - path[-1], axis=1)
    errors = errors[(errors > 1e-12) & (errors < 0.5)]
    got = estimate_order(errors[-3:])[-1]
    call = f"minimize({name}, method={method!r}, forcing={forcing})"
    # Three errors estimate an order to some tenths; a linear rate has 1.
    assert got > order - 0.4, f"{call}: errors {errors} end with the order {got}, {order} is expected"


def test_minimize_by_a_larger_forcing_needs_fewer_steps_and_more_products():
    problem = quadratic(np.geomspace(0.01, 10, 40), rng=np.random.default_rng(4))
    counts = {}
    for forcing in (0.0, 0.5, 1.0):
        hvp = Counted(problem.hvp)
        result = minimize(
            problem.fun, problem.grad, hvp, problem.start, forcing=forcing, radius=50.0, tol=1e-9, max_iter=100
        )
        assert result.success, f"forcing={forcing}: {result.message}"
        counts[forcing] = result.nit, hvp.calls
    assert counts[0.0][0] > counts[0.5][0] >= counts[1.0][0], f"steps and products by forcing: {counts}"
    average = {forcing: products / steps for forcing, (steps, products) in counts.items()}
    assert average[0.0] < average[0.5] < average[1.0], f"products a step by forcing: {average}"


@pytest.mark.parametrize("method", ["steihaug", "dogleg"])
def test_minimize_leaves_the_neighbourhood_of_saddles_and_of_the_maximum(method):
    problem = himmelblau()
    for near in ([0.0867, 2.8843], [3.3852, 0.0739], [-3.0730, -0.0814], [-0.1280, -1.9537], [-0.2708, -0.9230]):
        result = walk(problem, np.array(near) + 1e-3, method=method)
        call = f"minimize(himmelblau, method={method!r}) from near {near}"
        assert result.success and result.fun < 1e-9, f"{call}: {result.message!r} at {result.x}, f = {result.fun}"


def test_minimize_by_steihaug_needs_no_matrix_and_little_memory():
    problem = rosenbrock(1000)
    fun, hvp = Counted(problem.fun), Counted(problem.hvp)
    tracemalloc.start()
    try:
        result = minimize(fun, problem.grad, hvp, problem.start, max_iter=6)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert hvp.shapes == {(1000,)}, f"minimize by steihaug multiplied arrays of the shapes {hvp.shapes}, not vectors"
    assert peak < 60 * 8000, f"minimize by steihaug took {peak} bytes for vectors of 8000; a matrix takes 8,000,000"
    assert result.fun < problem.fun(problem.start) / 10, f"after 6 steps the objective is {result.fun}"


@pytest.mark.parametrize("method", ["steihaug", "dogleg"])
def test_minimize_needs_one_step_for_a_quadratic_which_max_iter_may_just_allow(method):
    problem = quadratic(np.geomspace(0.5, 3.0, 6), rng=np.random.default_rng(6))
    start = problem.minimum + 1e-7  # so near that Steihaug's tolerance asks for Newton's step
    result = walk(problem, start, max_iter=1, method=method, tol=1e-9)
    assert (result.nit, result.success) == (1, True), f"one step solves it, and max_iter=1 allows it: {result}"


def test_minimize_says_why_it_stopped():
    problem = rosenbrock(2)
    result = walk(problem, max_iter=3)
    assert (result.nit, result.success, result.message) == (3, False, OUT_OF_STEPS), f"max_iter=3: {result}"
    options = {"grad": lambda x: 2 * x, "hvp": lambda x, v: 2 * v, "start": [1.5, 2.5]}
    result = minimize(lambda x: np.nan, **options)
    assert (result.nit, result.success, result.message) == (0, False, DIVERGED), f"NaN at the start: {result}"
    result = minimize(lambda x: 7.5 if x[0] == 1.5 else np.nan, **options)  # every step leads to NaN
    assert (result.success, result.message) == (False, STALLED), f"NaN everywhere else: {result}"
    assert (result.ratios == -np.inf).all() and 20 < result.nit < 60, f"NaN everywhere else: {result}"
    assert_close(result.x, [1.5, 2.5], "minimize where every step leads to NaN: x", "the start")
    flat = minimize(lambda x: 0.0, **options, accept=0.0)  # all ratios are 0
    assert flat.message == STALLED, f"the objective is 0 everywhere, and accept=0: {flat}"
    assert_close(flat.x, [1.5, 2.5], "minimize where all ratios are 0, with accept=0: x", "the start: 0 is not above 0")
    assert result.path is None, f"without record_path the path is {result.path}, None is expected"
    result = minimize(lambda x: x @ x, **options | {"start": [0.0, 0.0]})
    assert (result.nit, result.nfev, result.success) == (0, 1, True), f"from the minimum: {result}"
    assert len(result.radii) == len(result.ratios) == 0, f"from the minimum, without a step: {result}"


def test_minimize_takes_back_steps_to_where_the_objective_is_not_finite():
    with np.errstate(invalid="ignore", divide="ignore"):
        result = minimize(
            lambda x: float((x - 2 * np.log(x)).sum()),
            lambda x: 1 - 2 / x,
            lambda x, v: 2 / x**2 * v,
            [6.3, 5.1],
            radius=30.0,
            record_path=True,
        )
    assert result.success, f"minimize of x - 2 log x: {result.message}"
    assert_close(result.x, [2.0, 2.0], "minimize of x - 2 log x", "its minimum", rtol=1e-6)
    assert result.ratios[0] == -np.inf, f"the first step leads to a negative x, and its ratio is {result.ratios[0]}"
    assert (result.path > 0).all(), f"the path leaves the domain: {result.path}"


def test_minimize_keeps_float32_and_lets_the_users_errors_through():
    problem = himmelblau()
    for method in ("steihaug", "dogleg"):
        result = walk(problem, np.array([3.4, 2.3], dtype=np.float32), method=method, tol=1e-3)
        assert result.x.dtype == result.path.dtype == np.float32, f"{method}: from float32 came {result.x.dtype}"
        assert result.success, f"{method} in float32 with tol=0.001: {result.message!r}"

    def hvp(x, v):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        minimize(lambda x: x @ x, lambda x: 2 * x, hvp, [1.0])


def test_minimize_refuses_products_of_no_use():
    for hvp in (lambda x, v: np.eye(2), lambda x, v: np.full_like(v, np.nan)):
        with pytest.raises(ValueError, match="hvp"):
            minimize(lambda x: x @ x, lambda x: 2 * x, hvp, [1.0, 2.0])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
        ("method", {"method": "exact"}),
        ("radius", {"radius": 0.0}),
        ("radius", {"radius": np.nan}),
        ("max_radius", {"radius": 2.0, "max_radius": 1.0}),
        ("accept", {"accept": 0.25}),
        ("accept", {"accept": -0.1}),
        ("forcing", {"forcing": -1.0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, arguments):
    functions = {"fun": lambda x: x @ x, "grad": lambda x: 2 * x, "hvp": lambda x, v: 2 * v}
    with pytest.raises(ValueError, match=name):
        minimize(**functions | {"start": [1.0]} | arguments)
