"""Shared tests of optim/convergence: run on the reference, and on the learner's file.

Everything here is deterministic. Slopes of straight lines through a few dozen points lose a few digits to cancellation:
1e-9 leaves room for any way to fit a line. Rates measured on real walks are compared with theory to what the note
promises, with the reason at each place.
"""

from functools import partial

import numpy as np
import pytest

from mlpath.optim import gradient_descent, momentum
from mlpath.optim._shared import Problem, beale, quadratic, rosenbrock
from mlpath.optim.convergence import (
    compare,
    errors,
    evaluations_to,
    exponent,
    linear_rate,
    order,
    performance_profile,
    remaining_error,
    steps_to,
    suite,
)
from mlpath.optim.newton import damped
from mlpath.testing import assert_close

FIT = {"rtol": 1e-9, "tolerance": "any way to fit a line by least squares loses fewer digits"}
PATH = np.array([[4.1, -2.3, 0.7], [3.2, -1.1, 1.9], [2.9, -0.4, 1.5], [2.3, -0.9, 1.2]])
MINIMUM = np.array([1.7, -0.6, 1.3])


# errors


def test_errors_by_hand():
    found = errors(PATH, MINIMUM)
    # The differences are (2.4, -1.7, -0.6), (1.5, -0.5, 0.6), (1.2, 0.2, 0.2), (0.6, -0.3, -0.1).
    expected = np.sqrt([9.01, 2.86, 1.52, 0.46])
    assert_close(found, expected, "errors of 4 points in 3 dimensions", "equation (1)", rtol=1e-12)


def test_errors_do_not_overflow_or_vanish():
    for scale in (1e-200, 1e200):
        found = errors(PATH * scale, MINIMUM * scale) / scale
        expected = np.sqrt([9.01, 2.86, 1.52, 0.46])
        assert_close(found, expected, f"errors of points of size {scale}, divided by it", "equation (1)", rtol=1e-12)


def test_errors_of_one_point_and_of_the_minimum_itself():
    assert_close(errors(PATH[:1], MINIMUM), np.sqrt([9.01]), "errors of one point", "equation (1)", rtol=1e-12)
    assert_close(errors(MINIMUM[None], MINIMUM), [0.0], "errors of the minimum itself", "equation (1)")


def test_errors_leave_the_path_alone():
    path, minimum = PATH.copy(), MINIMUM.copy()
    errors(path, minimum)
    assert_close(path, PATH, "errors changed the path that it was given, which now", "no change", rtol=0)
    assert_close(minimum, MINIMUM, "errors changed the minimum that it was given, which now", "no change", rtol=0)


# steps_to


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        ([9.3, 4.1, 0.8, 0.5], 1.0, 2),
        ([9.3, 0.6, 4.1, 0.8, 1.7, 0.5, 0.4], 1.0, 5),  # twice it is below and comes back
        ([9.3, 4.1, 0.8, 0.5], 0.8, 2),  # at the target is enough
        ([0.7, 0.2, 0.1], 1.0, 0),
        ([9.3, 4.1, 0.8, 2.5], 1.0, None),  # it ends above
        ([9.3, 0.4, np.nan, 0.6, 0.5], 1.0, 3),
        ([9.3, 0.4, 0.6, np.nan], 1.0, None),
        ([-3.0, -7.5, -8.1], -7.0, 1),
        ([0.4], 1.0, 0),
        ([1.4], 1.0, None),
        ([5.0, 4.0], np.inf, 0),
    ],
)
def test_steps_to_the_step_after_which_the_values_stay_below(values, target, expected):
    found = steps_to(np.array(values), target)
    said = f"steps_to({values}, {target}) returned {found!r}; the first index from which on all values are at most"
    assert found == expected and (found is None) == (expected is None), f"{said} {target} is {expected}, by (2)"


def test_steps_to_on_a_walk_that_swings():
    # A damped swing, |cos| times 0.9^k: below 0.1 for the first time at step 5, for good much later.
    k = np.arange(60)
    values = abs(np.cos(np.pi * k / 10)) * 0.9**k + 1e-6
    found = steps_to(values, 0.1)
    first, last = int(np.argmax(values <= 0.1)), int(np.flatnonzero(values > 0.1)[-1]) + 1
    said = f"steps_to of 0.9^k |cos(pi k / 10)| and the target 0.1 returned {found}"
    assert found == last, f"{said}; it falls below at {first} for the first time, but stays there from {last} on: (2)"


# linear_rate


def test_linear_rate_of_a_straight_line():
    for rho, scale in ((0.83, 3.7), (0.031, 1e-5), (1.25, 40.0), (0.999, 1.0)):
        found = linear_rate(scale * rho ** np.arange(23.0))
        assert_close(found, rho, f"linear_rate of the 23 errors {scale} * {rho}^k", "equation (3)", **FIT)


def test_linear_rate_by_hand():
    # ln of the errors: 2.1, 0.7, 0.4, -1.2; k - mean: -1.5, -0.5, 0.5, 1.5; the slope is (-3.15 - 0.35 + 0.2 - 1.8) / 5.
    found = linear_rate(np.exp([2.1, 0.7, 0.4, -1.2]))
    call = "linear_rate of the errors exp(2.1), exp(0.7), exp(0.4), exp(-1.2)"
    assert_close(found, np.exp(-1.02), call, "equation (3): exp(-5.1 / 5)", **FIT)


def test_linear_rate_of_two_errors_is_their_quotient():
    found = linear_rate(np.array([3.2, 1.2]))
    assert_close(found, 0.375, "linear_rate([3.2, 1.2])", "equation (3): 1.2 / 3.2", **FIT)


def test_linear_rate_at_extremes():
    found = linear_rate(10.0 ** np.arange(300, -300, -20))
    assert_close(found, 1e-20, "linear_rate of 1e300, 1e280, ..., 1e-280", "equation (3)", rtol=1e-7)


def _path(condition: int, method: str) -> tuple[np.ndarray, Problem]:
    """A walk with the best fixed coefficients on a quadratic of this condition number."""
    bowl = quadratic(np.geomspace(1, condition, 12), rng=np.random.default_rng(3))
    functions = bowl.fun, bowl.grad, bowl.start
    options = {"tol": 1e-10, "max_iter": 20_000, "record_path": True}
    if method == "gradient descent":
        path = gradient_descent.minimize(*functions, step_size=2 / (1 + condition), **options).path
    else:
        step_size, share = momentum.optimal_coefficients(1.0, float(condition), "heavy_ball")
        options |= {"step_size": step_size, "momentum": share, "method": "heavy_ball"}
        path = momentum.minimize(*functions, **options).path
    return path, bowl


def test_linear_rate_of_gradient_descent_is_that_of_theory():
    path, bowl = _path(20, "gradient descent")
    distances = np.linalg.norm(path - bowl.minimum, axis=1)
    tail = distances[len(distances) // 2 :]
    found = linear_rate(tail)
    # In the second half only the two end directions are left, which shrink by exactly this; the others by 0.86 or less.
    call = "linear_rate of the second half of gradient descent's errors, condition number 20"
    assert_close(found, 19 / 21, call, "(kappa - 1) / (kappa + 1)", rtol=1e-3)


# exponent


def test_exponent_by_hand():
    # Logarithms to the base 10: scales 0, 1, 2, 4 and values 0.5, 0.3, 1.1, 1.9. Off the mean 1.75: -1.75, -0.75, 0.25, 2.25.
    scales, values = 10 ** np.array([0.0, 1.0, 2.0, 4.0]), 10 ** np.array([0.5, 0.3, 1.1, 1.9])
    expected = (-1.75 * 0.5 - 0.75 * 0.3 + 0.25 * 1.1 + 2.25 * 1.9) / (1.75**2 + 0.75**2 + 0.25**2 + 2.25**2)
    call = "exponent(10^[0, 1, 2, 4], 10^[0.5, 0.3, 1.1, 1.9])"
    assert_close(exponent(scales, values), expected, call, "equation (4)", **FIT)


def test_exponent_of_powers():
    scales = np.array([3.0, 50.0, 7.0, 900.0, 41.0])  # in any order
    for power, factor in ((0.5, 12.0), (1.0, 0.3), (-2.0, 1e6), (3.25, 1e-9)):
        found = exponent(scales, factor * scales**power)
        assert_close(found, power, f"exponent of scales and {factor} * scales^{power}", "equation (4)", **FIT)
    flat = exponent(scales, np.full(5, 2.5))
    assert_close(flat, 0.0, "exponent of values that are all 2.5", "equation (4)", atol=1e-12)


def test_exponent_of_sublinear_gradient_descent():
    # On x^4 / 4 with a small step a, x_{k+1} = x_k - a x_k^3, so x_k tends to (2 a k)^(-1/2).
    path = gradient_descent.minimize(
        lambda x: float(x @ x) ** 2 / 4, lambda x: x * (x @ x), [1.0], step_size=0.1, max_iter=2000, record_path=True
    ).path
    late = np.arange(700, 2001)
    found = exponent(late.astype(float), abs(path[late, 0]))
    # The next term of the expansion is of the relative order ln(k) / k, below 1 % here.
    call = "exponent of the steps 700 to 2000 and the errors of gradient descent on x^4 / 4"
    assert_close(found, -0.5, call, "the errors fall as k^(-1/2)", rtol=1e-2)


@pytest.mark.parametrize(("method", "expected"), [("gradient descent", 1.0), ("heavy ball", 0.5)])
def test_exponent_tells_how_iterations_grow_with_the_condition_number(method, expected):
    conditions = np.array([8.0, 24.0, 72.0])
    counts = []
    for condition in conditions:
        path, bowl = _path(int(condition), method)
        distances = np.linalg.norm(path - bowl.minimum, axis=1)
        counts.append(np.flatnonzero(distances > 1e-7 * distances[0])[-1] + 1.0)
    found = exponent(conditions, np.array(counts))
    # -1 / ln((kappa - 1) / (kappa + 1)) is kappa / 2 up to 1 / (6 kappa), and the heavy ball has a polynomial factor.
    call = f"exponent of condition numbers 8, 24, 72 and the steps {counts} of {method}"
    assert_close(found, expected, call, "the square root is what momentum gains", atol=0.1)


# order


def test_order_of_exact_sequences():
    for q, c, first in ((2.0, 0.7, 0.3), (1.0, 0.45, 5.0), (1.618, 1.9, 0.11), (3.0, 2.2, 0.2)):
        sequence = [first]
        for _ in range(4):
            sequence.append(c * sequence[-1] ** q)
        found = order(np.array(sequence))
        assert_close(found, (q, c), f"order of e' = {c} e^{q} from {first}", "equation (5)", **FIT)


def test_order_by_hand():
    # Logarithms 1.2, 0.5, -0.9, -2.1: the points (1.2, 0.5), (0.5, -0.9), (-0.9, -2.1), means 4/15 and -5/6.
    x, y = np.array([1.2, 0.5, -0.9]), np.array([0.5, -0.9, -2.1])
    off = x - 4 / 15
    q = (off @ y) / (off @ off)
    found = order(np.exp([1.2, 0.5, -0.9, -2.1]))
    call = "order of the errors exp(1.2), exp(0.5), exp(-0.9), exp(-2.1)"
    assert_close(found, (q, np.exp(-5 / 6 - q * 4 / 15)), call, "equation (5)", **FIT)


def test_order_in_another_unit():
    sequence = np.array([0.4, 0.09, 0.006, 2.1e-5])
    q, c = order(sequence)
    found = order(1000 * sequence)
    expected = (q, c * 1000 ** (1 - q))
    assert_close(found, expected, "order of errors 1000 times as large", "the note: q stays, c u^(1 - q)", **FIT)


def test_order_with_a_constant_too_large_for_a_float():
    sequence = 1e-200 * np.array([1.0, 1e-3, 1e-9])
    q, c = order(sequence)  # q = 2 and c = 1e197 is still a float; for q = 3 it is not
    assert_close((q, c), (2.0, 1e197), "order([1e-200, 1e-203, 1e-209])", "equation (5)", rtol=1e-6)
    q, c = order(1e-200 * np.array([1.0, 1e-3, 1e-12]))
    assert_close((q, c), (3.0, np.inf), "order([1e-200, 1e-203, 1e-212])", "equation (5)", rtol=1e-6)


def test_order_of_newton_is_two():
    valley = rosenbrock()
    path = damped.minimize(valley.fun, valley.grad, valley.hess, valley.start, tol=1e-12, record_path=True).path
    distances = np.linalg.norm(path - valley.minimum, axis=1)
    near = distances[(distances < 0.3) & (distances > 1e-14)]
    q, _ = order(near[-4:])
    # The error squares only in the limit; the last errors before rounding come within a sixth of it.
    assert abs(q - 2) < 0.35, f"order of the last errors {near[-4:]} of Newton's method returned q = {q}, expected 2"


# remaining_error


def test_remaining_error_of_a_geometric_walk_is_exact():
    direction = np.array([2.1, -0.7, 0.4])
    path = MINIMUM + direction * 0.83 ** np.arange(7)[:, None]
    expected = np.sqrt(2.1**2 + 0.7**2 + 0.4**2) * 0.83**6
    call = "remaining_error of the points x* + 0.83^k (2.1, -0.7, 0.4), k = 0 to 6"
    assert_close(remaining_error(path), expected, call, "equation (6): what is left", rtol=1e-9)


def test_remaining_error_uses_the_last_three_points():
    # Steps before were others: (0.3, 0.4) and then (0.06, 0.08) have the lengths 0.5 and 0.1.
    path = np.array([[9.0, 9.0], [1.0, 1.0], [1.3, 1.4], [1.36, 1.48]])
    found = remaining_error(path)
    assert_close(found, 0.025, "remaining_error after steps of the lengths 0.5, 0.1", "equation (6)", rtol=1e-9)


def test_remaining_error_where_steps_turn():
    path = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 1.0]])  # lengths 5 and 3
    assert_close(remaining_error(path), 4.5, "remaining_error after steps (3, 4), (0, -3)", "equation (6)", rtol=1e-9)


def test_remaining_error_where_steps_do_not_shrink_or_are_nothing():
    for length in (1.0, 1.7):
        found = remaining_error(np.array([[0.0], [1.0], [1.0 + length]]))
        assert found == np.inf, f"remaining_error after steps of 1.0 and {length} returned {found}, expected infinity"
    for path in ([[0.4], [1.5], [1.5]], [[1.5], [1.5], [1.5]]):
        found = remaining_error(np.array(path))
        assert found == 0, f"remaining_error of the points {path} returned {found}: the last step did not move, so 0"
    found = remaining_error(np.array([[1.5], [1.5], [1.9]]))
    assert found == np.inf, f"remaining_error of the points 1.5, 1.5, 1.9 returned {found}, expected infinity"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_remaining_error_does_not_overflow_or_vanish(scale):
    path = scale * np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 1.0]])
    found = remaining_error(path) / scale
    assert_close(found, 4.5, f"remaining_error of a path of size {scale}, divided by it", "equation (6)", rtol=1e-9)


def test_remaining_error_tells_the_true_one_late_in_a_linear_walk():
    bowl = quadratic(np.array([1.0, 5.0, 12.0]), rng=np.random.default_rng(1))
    path = gradient_descent.minimize(
        bowl.fun, bowl.grad, bowl.start, step_size=0.04, max_iter=200, tol=1e-30, record_path=True
    ).path
    before = path.copy()
    expected = np.linalg.norm(path[-1] - bowl.minimum)
    # The slowest direction shrinks by 0.96, the next by 0.8: after 200 steps it is alone, to 1e-10.
    found = remaining_error(path)
    call = f"remaining_error of 200 steps, the last of the length {np.linalg.norm(path[-1] - path[-2]):.3g},"
    assert_close(found, expected, call, "the distance from the minimum", rtol=1e-6)
    assert_close(path, before, "remaining_error changed the path that it was given, which now", "no change", rtol=0)


# evaluations_to


def _bowl() -> Problem:
    """An excess of the square of the distance from (2, -1), with a least value of 7; it begins at the excess 25."""
    return Problem(
        fun=lambda x: float((x[0] - 2) ** 2 + (x[1] + 1) ** 2 + 7),
        grad=lambda x: 2 * (x - np.array([2.0, -1.0])),
        hvp=lambda x, v: 2 * v,
        start=np.array([5.0, 3.0]),
        minimum=np.array([2.0, -1.0]),
    )


def _visitor(*visits):
    """A solver that asks for "fun" or "grad" at points whose excess is a given share of the first one."""

    def solve(fun, grad, start):
        for which, share in visits:
            point = np.array([2.0, -1.0]) + np.sqrt(share) * np.array([3.0, 4.0])
            (fun if which == "fun" else grad)(point)

    return solve


@pytest.mark.parametrize(
    ("visits", "target", "expected"),
    [
        ([("fun", 1.0), ("fun", 0.5), ("fun", 0.09), ("fun", 0.04), ("fun", 0.3)], 0.1, 3),
        ([("fun", 1.0), ("grad", 1.0), ("fun", 0.5), ("grad", 0.5), ("fun", 0.09)], 0.1, 5),  # gradients count
        ([("fun", 1.0), ("grad", 1.0), ("grad", 0.09), ("fun", 0.01)], 0.1, 3),  # and reach the goal
        ([("fun", 1.0), ("fun", 0.09), ("fun", 0.8), ("fun", 0.05)], 0.1, 2),  # the first time is the cost
        ([("fun", 1.0), ("fun", 0.3), ("fun", 0.11)], 0.1, np.inf),
        ([("fun", 1.0), ("fun", 0.11), ("fun", 0.0)], 0.0, 3),
        ([("grad", 0.05), ("fun", 0.04)], 0.1, 1),
        ([], 0.1, np.inf),
    ],
)
def test_evaluations_to_counts_until_the_goal(visits, target, expected):
    found = evaluations_to(_visitor(*visits), _bowl(), target=target)
    said = f"evaluations_to of a solver that asks for {visits} (shares of the first excess) with target={target}"
    assert found == expected, f"{said} returned {found}, expected {expected}: the goal is (7), counted from 1"


def test_evaluations_to_gives_the_solver_the_values_of_the_problem():
    seen = []

    def solver(fun, grad, start):
        seen.append((start.copy(), fun(np.array([3.0, 1.0])), grad(np.array([3.0, 1.0]))))
        start += 100  # as solvers that work in place do

    problem = _bowl()
    evaluations_to(solver, problem, target=0.1)
    (start, value, gradient) = seen[0]
    assert_close(start, [5.0, 3.0], "the start that the solver got from evaluations_to", "problem.start")
    assert_close(value, 12.0, "the objective that the solver got, at (3, 1),", "problem.fun")
    assert_close(gradient, [2.0, 4.0], "the gradient that the solver got, at (3, 1),", "problem.grad")
    assert_close(problem.start, [5.0, 3.0], "evaluations_to changed problem.start, which now", "no change")


def test_evaluations_to_judges_by_its_own_goal_not_by_the_solvers():
    bowl = quadratic(np.geomspace(1, 50, 9), rng=np.random.default_rng(7))
    loose, strict = (
        evaluations_to(partial(gradient_descent.minimize, step_size=0.03, tol=tol), bowl, target=1e-3)
        for tol in (1e-3, 1e-9)
    )
    said = "evaluations_to of gradient descent with tol=1e-3 and with tol=1e-9 returned"
    assert loose == strict < np.inf, f"{said} {loose} and {strict}; both pass the goal at the same evaluation: (7)"


def test_evaluations_to_passes_the_solvers_error_on():
    def solver(fun, grad, start):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        evaluations_to(solver, _bowl(), target=0.1)


def test_evaluations_to_orders_the_methods_as_theory_does():
    solvers = {
        "gradient descent": partial(gradient_descent.minimize, step_size=2 / 101, tol=1e-9, max_iter=600),
        "Nesterov": partial(momentum.minimize, step_size=1 / 100, momentum=0.8, tol=1e-9, max_iter=600),
    }
    bowl = quadratic(np.geomspace(1, 100, 12), rng=np.random.default_rng(5))
    race = compare(solvers, {"bowl": bowl, "valley": beale()})
    slow, fast = race.costs[0]
    assert fast < slow / 3, (
        f"compare on a quadratic of condition 400 counted {slow} for gradient descent, {fast} for Nesterov"
    )
    names = (race.problems, race.solvers, race.costs.shape)
    assert names == (("bowl", "valley"), tuple(solvers), (2, 2)), f"compare returned {race}: a row a problem"


# performance_profile

COSTS = np.array([[12.0, 30.0, np.inf], [45.0, 18.0, 20.0], [np.inf, 70.0, 35.0], [8.0, 8.0, 26.0], [np.inf] * 3])


def test_performance_profile_by_hand():
    # Ratios: (1, 2.5, -), (2.5, 1, 1.11), (-, 2, 1), (1, 1, 3.25), and nobody solved the fifth.
    found = performance_profile(COSTS, np.array([1.0, 1.5, 2.2, 4.0]))
    expected = np.array([[2, 2, 1], [2, 2, 2], [2, 3, 2], [3, 4, 3]]) / 5
    call = "performance_profile of 5 problems and 3 solvers at 1, 1.5, 2.2 and 4"
    assert_close(found, expected, call, "equation (8)", rtol=1e-12)


def test_performance_profile_counts_a_ratio_that_is_met_exactly():
    found = performance_profile(np.array([[4.0, 10.0]]), np.array([2.4, 2.5, 2.6]))
    assert_close(found, [[1, 0], [1, 1], [1, 1]], "performance_profile([[4, 10]], [2.4, 2.5, 2.6])", "equation (8)")


def test_performance_profile_with_many_times_the_best_is_the_share_solved():
    found = performance_profile(COSTS, np.array([1e12]))
    assert_close(found, [[0.6, 0.8, 0.6]], "performance_profile at 1e12", "the share of problems solved", rtol=1e-12)


def test_performance_profile_does_not_feel_the_size_of_a_problem():
    scaled = COSTS * np.array([1.0, 1e6, 1e-3, 7.0, 1.0])[:, None]
    ratios = np.array([1.0, 1.7, 3.0])
    found, expected = performance_profile(scaled, ratios), performance_profile(COSTS, ratios)
    assert_close(found, expected, "performance_profile of costs with rows scaled", "ratios to the best", rtol=1e-12)


def test_performance_profile_leaves_its_arguments_alone():
    costs, ratios = COSTS.copy(), np.array([2.0, 1.0])
    performance_profile(costs, ratios)
    assert_close(costs, COSTS, "performance_profile changed the costs, which now", "no change", rtol=0)
    assert_close(ratios, [2.0, 1.0], "performance_profile changed the ratios, which now", "no change", rtol=0)


# what is given


@pytest.mark.given
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: errors(PATH[0], MINIMUM), "path"),
        (lambda: errors(PATH[:0], MINIMUM), "path"),
        (lambda: errors(PATH[:, :0], MINIMUM[:0]), "path"),
        (lambda: errors(PATH * [[np.nan, 1, 1]], MINIMUM), "path"),
        (lambda: errors(PATH, MINIMUM[:2]), "minimum"),
        (lambda: errors(PATH, MINIMUM * np.inf), "minimum"),
        (lambda: steps_to(np.array([]), 1.0), "values"),
        (lambda: steps_to(np.array([1.0]), np.nan), "target"),
        (lambda: linear_rate(np.array([1.0])), "errors"),
        (lambda: linear_rate(np.array([1.0, 0.0])), "errors"),
        (lambda: linear_rate(np.array([1.0, np.nan])), "errors"),
        (lambda: linear_rate(np.array([np.inf, 1.0])), "errors"),
        (lambda: exponent(np.array([1.0]), np.array([2.0])), "scales"),
        (lambda: exponent(np.array([-1.0, 2.0]), np.array([2.0, 3.0])), "scales"),
        (lambda: exponent(np.array([1.0, 2.0]), np.array([2.0, -3.0])), "values"),
        (lambda: exponent(np.array([1.0, 2.0]), np.array([2.0, 3.0, 4.0])), "scales and values"),
        (lambda: exponent(np.array([2.0, 2.0]), np.array([2.0, 3.0])), "scales"),
        (lambda: order(np.array([1.0, 0.5])), "errors"),
        (lambda: order(np.array([1.0, 0.5, 0.0])), "errors"),
        (lambda: order(np.array([0.5, 0.5, 0.1])), "errors"),
        (lambda: remaining_error(PATH[:2]), "path"),
        (lambda: remaining_error(PATH * np.inf), "path"),
        (lambda: evaluations_to(_visitor(), _bowl(), target=1.0), "target"),
        (lambda: evaluations_to(_visitor(), _bowl(), target=-0.1), "target"),
        (lambda: compare({}, suite()), "solvers"),
        (lambda: compare({"a": _visitor()}, {}), "problems"),
        (lambda: performance_profile(np.zeros((0, 2)), np.array([1.0])), "costs"),
        (lambda: performance_profile(np.array([[1.0, 0.0]]), np.array([1.0])), "costs"),
        (lambda: performance_profile(np.array([[1.0, np.nan]]), np.array([1.0])), "costs"),
        (lambda: performance_profile(COSTS, np.array([0.9])), "ratios"),
        (lambda: performance_profile(COSTS, np.array([np.inf])), "ratios"),
    ],
)
def test_given_checks_name_the_argument(call, name):
    with pytest.raises(ValueError, match=name):
        call()


@pytest.mark.given
def test_suite_is_the_same_at_each_call():
    for (name, first), second in zip(suite().items(), suite().values(), strict=True):
        assert np.array_equal(first.minimum, second.minimum), f"suite: {name} has another minimum at the second call"
        assert abs(first.grad(first.minimum)).max() < 1e-9, f"suite: the gradient of {name} is not 0 at its minimum"
