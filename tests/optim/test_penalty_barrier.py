"""Shared tests of optim/penalty_barrier: run on the reference, and on the learner's file.

Everything is deterministic. Values by hand and by differences are exact to rounding; minima are compared within the error that
theory gives them, the violation 1/rho or the gap m/t.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.optimize import linprog

from mlpath.optim._constrained import ConstrainedProblem, hock_schittkowski, infeasible
from mlpath.optim.penalty_barrier import (
    CONVERGED,
    DIVERGED,
    INFEASIBLE,
    OUT_OF_STEPS,
    Model,
    barrier_multipliers,
    exact_penalty,
    log_barrier,
    minimize_barrier,
    minimize_penalty,
    newton,
    penalty_multipliers,
    phase_one,
    quadratic_penalty,
)
from mlpath.testing import assert_close


@cache
def problems():
    return hock_schittkowski()


def linear(costs, rows, offsets, start):
    """Minimise costs'x with rows x <= offsets."""
    costs, rows, offsets = (np.array(a, dtype=float) for a in (costs, rows, offsets))
    dim = len(costs)
    return ConstrainedProblem(
        lambda x: float(costs @ x),
        lambda x: costs.copy(),
        lambda x: np.zeros((dim, dim)),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, dim)),
        lambda x: rows @ x - offsets,
        lambda x: rows,
        lambda x, nu, lam: np.zeros((dim, dim)),
        np.array(start, dtype=float),
        np.full(dim, np.nan),
    )


@cache
def programme():
    """A linear programme with seven inequalities in three dimensions, whose solution is a corner."""
    rng = np.random.default_rng(2)
    rows = np.vstack([rng.standard_normal((4, 3)), -np.eye(3)])
    offsets = np.concatenate([rng.uniform(1, 2, 4), [1.0, 1.0, 1.0]])
    costs = -rows[:4].T @ np.array([0.7, 1.3, 0.4, 0.2])
    return linear(costs, rows, offsets, np.zeros(3)), costs, rows, offsets


TARGET, NORMAL, OFFSET = np.array([1.3, -0.4, 2.1]), np.array([0.8, -1.1, 1.7]), 0.9
EXCESS = float(NORMAL @ TARGET - OFFSET)  # by how much the target is beyond the plane
PRICE = EXCESS / float(NORMAL @ NORMAL)  # the multiplier


@cache
def nearest(*, equality):
    """The point of a plane, or of the half-space below it, that is nearest to a target."""
    none, no_rows = (lambda x: np.zeros(0)), (lambda x: np.zeros((0, 3)))
    value, row = (lambda x: np.array([NORMAL @ x - OFFSET])), (lambda x: NORMAL[None])
    return ConstrainedProblem(
        lambda x: float((x - TARGET) @ (x - TARGET)) / 2,
        lambda x: x - TARGET,
        lambda x: np.eye(3),
        *((value, row, none, no_rows) if equality else (none, no_rows, value, row)),
        lambda x, nu, lam: np.eye(3),
        np.zeros(3),
        TARGET - PRICE * NORMAL,
    )


def counted(problem):
    """The problem, and a list of the points at which its objective is evaluated."""
    calls = []
    return replace(problem, fun=lambda x: (calls.append(x.copy()), problem.fun(x))[1]), calls


def differences(function, x):
    """Central differences of a function, in rows for each of its values."""
    moves = 1e-6 * np.eye(len(x))
    return np.array([(np.array(function(x + m)) - np.array(function(x - m))) / 2e-6 for m in moves]).T


# quadratic_penalty


def test_quadratic_penalty_charges_half_the_squares_of_violations():
    x = np.array([1.45, 0.83])
    h, g = 1.45 - 2 * 0.83 + 1, 0.25 * 1.45**2 + 0.83**2 - 1
    model = quadratic_penalty(problems()["HS14"], x, 3.7)
    value = 0.55**2 + 0.17**2 + 3.7 / 2 * (h**2 + g**2)
    gradient = [-1.1 + 3.7 * (h + g * 0.5 * 1.45), -0.34 + 3.7 * (-2 * h + g * 2 * 0.83)]
    row = np.array([0.5 * 1.45, 2 * 0.83])
    curved = np.diag([2 + 3.7 * g * 0.5, 2 + 3.7 * g * 2])
    hessian = curved + 3.7 * np.array([[1, -2], [-2, 4]]) + 3.7 * np.outer(row, row)
    assert_close(model.value, value, "quadratic_penalty(HS14, [1.45, 0.83], 3.7).value", "equation (1)")
    assert_close(model.gradient, gradient, "quadratic_penalty(HS14, [1.45, 0.83], 3.7).gradient", "equation (2)")
    assert_close(model.hessian, hessian, "quadratic_penalty(HS14, [1.45, 0.83], 3.7).hessian", "equation (3)")


def test_quadratic_penalty_does_not_charge_for_what_is_satisfied():
    x = np.array([0.35, 0.23])
    model = quadratic_penalty(problems()["HS14"], x, 3.7)
    h = 0.35 - 0.46 + 1
    assert_close(model.value, 1.65**2 + 0.77**2 + 3.7 / 2 * h**2, "quadratic_penalty inside: .value", "(1)")
    assert_close(model.gradient, [-3.3 + 3.7 * h, -1.54 - 7.4 * h], "quadratic_penalty inside: .gradient", "(2)")
    assert_close(model.hessian, [[5.7, -7.4], [-7.4, 16.8]], "quadratic_penalty inside: .hessian", "(3)")


@pytest.mark.parametrize("name", ["HS12", "HS40"])
def test_quadratic_penalty_has_the_derivatives_of_its_value(name):
    problem = problems()[name]
    x = problem.minimum + np.linspace(0.31, -0.17, len(problem.minimum))
    model = quadratic_penalty(problem, x, 2.9)
    slopes = differences(lambda y: quadratic_penalty(problem, y, 2.9).value, x)
    bends = differences(lambda y: quadratic_penalty(problem, y, 2.9).gradient, x)
    assert_close(model.gradient, slopes, f"quadratic_penalty({name}).gradient", "differences", rtol=1e-6, atol=1e-6)
    assert_close(model.hessian, bends, f"quadratic_penalty({name}).hessian", "differences", rtol=1e-6, atol=1e-6)


def test_quadratic_penalty_grows_stiff_across_the_constraints_alone():
    problem = problems()["HS42"]
    numbers = [np.linalg.cond(quadratic_penalty(problem, problem.minimum, weight).hessian) for weight in (1e4, 1e6)]
    assert_close(numbers[1] / numbers[0], 100.0, "the condition number at rho = 1e6 over that at 1e4", "(3)", rtol=0.01)


# penalty_multipliers


def test_penalty_multipliers_are_weights_times_violations():
    nu, lam = penalty_multipliers(problems()["HS14"], np.array([1.45, 0.83]), 3.7)
    assert_close(nu, [3.7 * 0.79], "nu of penalty_multipliers(HS14, [1.45, 0.83], 3.7)", "equation (2)")
    assert_close(lam, [3.7 * (0.25 * 1.45**2 + 0.83**2 - 1)], "its lambda", "equation (2)")
    nu, lam = penalty_multipliers(problems()["HS14"], np.array([0.35, 1.23]), 3.7)
    assert_close(nu, [3.7 * -1.11], "nu where h is negative", "equation (2)")
    nu, lam = penalty_multipliers(problems()["HS14"], np.array([0.35, 0.23]), 3.7)
    assert_close(lam, [0.0], "lambda of a satisfied inequality", "equation (2)")


# minimize_penalty


@pytest.mark.parametrize("equality", [True, False])
def test_minimize_penalty_ends_each_round_at_the_minimum_of_equation_1(equality):
    problem, calls = counted(nearest(equality=equality))
    result = minimize_penalty(problem, penalty=0.3, growth=4.0, max_iter=5, tol=1e-9, record_path=True)
    weights = 0.3 * 4.0 ** np.arange(5)
    expected = [TARGET - w * EXCESS / (1 + w * NORMAL @ NORMAL) * NORMAL for w in weights]
    assert_close(
        result.path, [np.zeros(3), *expected], "minimize_penalty(...).path", "the minima of (1), by hand", rtol=1e-8
    )
    assert result.message == OUT_OF_STEPS and not result.success, f"after 5 rounds it says {result.message!r}"
    price = weights[-1] * EXCESS / (1 + weights[-1] * NORMAL @ NORMAL)
    factors = (result.equality_multipliers, result.inequality_multipliers)
    assert_close(factors[not equality], [price], "its multipliers", "equation (2), with the last weight", rtol=1e-8)
    assert factors[equality].shape == (0,), "a multiplier for a constraint that is not there"
    assert_close(result.violation, price / weights[-1], "its violation", "lambda / rho", rtol=1e-8)
    assert_close(result.fun, nearest(equality=equality).fun(result.x), "its fun", "the objective, without the penalty")
    for k, point in enumerate(result.path[1:-1], 1):
        seen = sum(np.array_equal(x, point) for x in calls)
        assert seen >= 2, f"round {k} ended at {point}, and the next one did not begin there"
    assert (result.nit, len(calls) - 1) == (5, result.nfev), f"nit {result.nit}, nfev {result.nfev} of {len(calls) - 1}"


@pytest.mark.parametrize("name", ["HS6", "HS14", "HS35"])
def test_minimize_penalty_solves_problems_of_hock_and_schittkowski(name):
    problem = problems()[name]
    start = problem.start.copy()
    result = minimize_penalty(problem, max_iter=9)
    call = f"minimize_penalty(hock_schittkowski()['{name}'])"
    assert result.success and result.message == CONVERGED, f"{call} says {result.success}, {result.message!r}"
    assert result.violation <= 1e-6, f"{call}.violation is {result.violation}"
    assert_close(result.x, problem.minimum, f"{call}.x", "the published minimum", atol=2e-5)
    slope = problem.grad(result.x) + problem.equality_jacobian(result.x).T @ result.equality_multipliers
    slope += problem.inequality_jacobian(result.x).T @ result.inequality_multipliers
    assert_close(slope, np.zeros(len(slope)), f"the Lagrangian's gradient of {call}", "equation (2)", atol=2e-6)
    assert result.path is None, f"{call}.path was not asked for"
    assert_close(problem.start, start, "the start afterwards", "its old value")


def test_minimize_penalty_has_an_error_of_one_over_the_weight():
    problem = problems()["HS42"]
    errors, prices = [], []
    for weight in (1e2, 1e3, 1e4):
        result = minimize_penalty(problem, penalty=weight, max_iter=1)
        errors.append(np.linalg.norm(result.x - problem.minimum))
        prices.append(np.linalg.norm(result.equality_multipliers - [-2, 5 / np.sqrt(2) - 1]))
    for what, values in (("errors", errors), ("errors of the multipliers", prices)):
        ratios = np.array(values[:-1]) / values[1:]
        assert_close(ratios, [10, 10], f"the ratios of the {what} at rho = 100, 1000, 10000", "O(1/rho)", rtol=0.02)


def test_minimize_penalty_at_its_last_round_may_have_converged():
    needed = minimize_penalty(nearest(equality=True)).nit
    result = minimize_penalty(nearest(equality=True), max_iter=needed)
    assert result.success and result.nit == needed, f"with the {needed} rounds it needs it says {result.message!r}"
    short = minimize_penalty(nearest(equality=True), max_iter=needed - 1)
    assert not short.success and short.nit == needed - 1, f"with one less: {short.message!r} after {short.nit}"


def test_minimize_penalty_needs_a_small_gradient_as_well():
    # the gradient belongs to another function, so that no search finds a step
    lying = replace(nearest(equality=True), grad=lambda x: TARGET - x + 5.0)
    result = minimize_penalty(lying, [*(TARGET - PRICE * NORMAL)], max_iter=2)
    assert result.violation < 1e-9 and not result.success, f"feasible, but not stationary: it says {result.message!r}"


def test_minimize_penalty_looks_at_the_size_of_every_component():
    best = TARGET - PRICE * NORMAL
    lying = replace(
        nearest(equality=True), fun=lambda x: float(abs(x - best).sum()), grad=lambda x: np.array([-31.0, 0.0, 0.0])
    )
    result = minimize_penalty(lying, best, max_iter=1)
    assert not result.success, f"with the gradient (-31, 0, 0) it says {result.message!r}"


def test_minimize_penalty_may_be_right_to_the_last_digit():
    satisfied = linear([0.0, 0.0], [[1.0, 2.0]], [3.0], [0.5, 0.5])
    result = minimize_penalty(satisfied, tol=0.0)
    assert result.success and result.nit == 1, f"no violation and no gradient, tol=0: {result.message!r}"


def test_minimize_penalty_says_so_where_the_penalty_is_unbounded():
    result = minimize_penalty(linear([1.0, -2.0], [[1.0, 0.0]], [3.0], [0.5, 0.5]))
    assert not result.success and result.message == DIVERGED, f"an unbounded penalty: {result.message!r}"
    assert result.nit == 1, f"it went on for {result.nit} rounds"
    assert minimize_penalty(problems()["HS40"], penalty=10.0).success, (
        "with rho = 10 HS40 has a penalty's minimum nearby"
    )
    broken = replace(problems()["HS14"], fun=lambda x: np.nan)
    assert minimize_penalty(broken).message == DIVERGED, "an objective of NaN should be DIVERGED"


def test_minimize_penalty_violates_least_where_nothing_is_feasible():
    result = minimize_penalty(infeasible(), penalty=10.0, max_iter=5)
    assert not result.success, f"on a problem without feasible points it says {result.message!r}"
    # between the line and the disc, along the diagonal: least (2 s - 3)^2 + (2 s^2 - 1)^2
    s = np.real(next(r for r in np.roots([16, 0, 0, -12]) if abs(r.imag) < 1e-12))
    assert_close(result.x, [s, s], "minimize_penalty(infeasible()).x", "least squares of the violations", atol=1e-4)


# exact_penalty


def test_exact_penalty_charges_for_sizes():
    x, direction = np.array([1.45, 0.83]), np.array([0.6, -1.7])
    h, g = 1.45 - 2 * 0.83 + 1, 0.25 * 1.45**2 + 0.83**2 - 1
    found = exact_penalty(problems()["HS14"], x, direction, 3.7)
    slope = -1.1 * 0.6 + 0.34 * 1.7 + 3.7 * ((0.6 + 2 * 1.7) + (0.5 * 1.45 * 0.6 - 2 * 0.83 * 1.7))
    assert_close(found[0], 0.55**2 + 0.17**2 + 3.7 * (h + g), "the value of exact_penalty(HS14, ...)", "equation (4)")
    assert_close(found[1], slope, "the slope of exact_penalty(HS14, ...)", "equation (5)")
    x = np.array([0.35, 1.03])
    h, g = 0.35 - 2 * 1.03 + 1, 0.25 * 0.35**2 + 1.03**2 - 1
    found = exact_penalty(problems()["HS14"], x, direction, 3.7)
    slope = -3.3 * 0.6 - 0.06 * 1.7 + 3.7 * (-(0.6 + 2 * 1.7) + (0.5 * 0.35 * 0.6 - 2 * 1.03 * 1.7))
    assert_close(found, (1.65**2 + 0.03**2 + 3.7 * (-h + g), slope), "exact_penalty where h < 0", "(4) and (5)")
    x = np.array([0.35, 0.23])
    found = exact_penalty(problems()["HS14"], x, direction, 3.7)
    slope = -3.3 * 0.6 + 1.54 * 1.7 + 3.7 * (0.6 + 2 * 1.7)
    assert_close(found, (1.65**2 + 0.77**2 + 3.7 * 0.89, slope), "exact_penalty inside", "(4) and (5)")


def test_exact_penalty_takes_an_exact_zero_for_a_kink_without_any_tolerance():
    found = exact_penalty(problems()["HS12"], np.array([2.0, 3.0]), np.array([-0.7, 0.0]), 2.3, tol=0.0)
    assert_close(found[1], 8 * 0.7, "the slope of exact_penalty(HS12, [2, 3], inwards, 2.3, tol=0)", "equation (5)")
    direction = np.array([-0.7, 0.0, 0.0, 0.0])
    found = exact_penalty(problems()["HS42"], np.array([2.0, 2.0, 1.0, 1.0]), direction, 2.3, tol=0.0)
    assert_close(found[1], -1.4 + 2.3 * 0.7, "the slope of exact_penalty(HS42, [2, 2, 1, 1], ..., tol=0)", "(5)")


@pytest.mark.parametrize("name", ["HS14", "HS43", "HS42"])
def test_exact_penalty_has_the_one_sided_slopes_of_its_value(name):
    problem, rng = problems()[name], np.random.default_rng(1)
    for direction in rng.standard_normal((5, len(problem.minimum))):
        for x in (problem.minimum, problem.minimum + 0.1):
            value, slope = exact_penalty(problem, x, direction, 2.3, tol=1e-7)
            ahead = exact_penalty(problem, x + 1e-6 * direction, direction, 2.3)[0]
            call = f"the slope of exact_penalty({name}, {x}, {direction}, 2.3)"
            assert_close(slope, (ahead - value) / 1e-6, call, "a difference to that side", rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("name", "threshold"), [("HS12", 0.5), ("HS42", 5 / np.sqrt(2) - 1), ("HS43", 2.0)])
def test_exact_penalty_has_a_threshold_at_the_largest_multiplier(name, threshold):
    problem, rng = problems()[name], np.random.default_rng(2)
    x = problem.minimum
    rows = np.vstack([problem.equality_jacobian(x), problem.inequality_jacobian(x)])
    # directions that change one active constraint and leave the others, besides many others
    directions = [*np.linalg.pinv(rows).T, *-np.linalg.pinv(rows).T, *rng.standard_normal((8, len(x)))]
    if name == "HS43":
        directions += [*np.linalg.pinv(rows[[0, 2]]).T, *-np.linalg.pinv(rows[[0, 2]]).T]
    above = min(exact_penalty(problem, x, d, threshold + 0.01, tol=1e-7)[1] for d in directions)
    below = min(exact_penalty(problem, x, d, threshold - 0.01, tol=1e-7)[1] for d in directions)
    assert above > -1e-9, f"{name}: above the threshold {threshold:.3f} a slope of the exact penalty is {above}"
    assert below < -1e-3, (
        f"{name}: below the threshold {threshold:.3f} the least slope is {below}; (6) says some lead down"
    )


# log_barrier


def test_log_barrier_of_one_inequality():
    x = np.array([1.3, 2.6])
    g = 4 * 1.69 + 6.76 - 25
    f = 0.5 * 1.69 + 6.76 - 1.3 * 2.6 - 7 * 3.9
    model = log_barrier(problems()["HS12"], x, 0.45)
    row = np.array([8 * 1.3, 2 * 2.6])
    gradient = 0.45 * np.array([1.3 - 2.6 - 7, 5.2 - 1.3 - 7]) - row / g
    hessian = 0.45 * np.array([[1, -1], [-1, 2.0]]) - np.diag([8, 2]) / g + np.outer(row, row) / g**2
    assert_close(model.value, 0.45 * f - np.log(-g), "log_barrier(HS12, [1.3, 2.6], 0.45).value", "equation (7)")
    assert_close(model.gradient, gradient, "log_barrier(HS12, [1.3, 2.6], 0.45).gradient", "equation (8)")
    assert_close(model.hessian, hessian, "log_barrier(HS12, [1.3, 2.6], 0.45).hessian", "equation (8)")


@pytest.mark.parametrize("name", ["HS43", "HS35"])
def test_log_barrier_has_the_derivatives_of_its_value(name):
    problem = problems()[name]
    x = np.full(len(problem.minimum), 0.31)
    model = log_barrier(problem, x, 2.9)
    slopes = differences(lambda y: log_barrier(problem, y, 2.9).value, x)
    bends = differences(lambda y: log_barrier(problem, y, 2.9).gradient, x)
    assert_close(model.gradient, slopes, f"log_barrier({name}).gradient", "differences", rtol=1e-6, atol=1e-6)
    assert_close(model.hessian, bends, f"log_barrier({name}).hessian", "differences", rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("x", [[2.0, 3.0], [3.0, 3.0]])
def test_log_barrier_is_infinite_at_the_border_and_outside(x):
    model = log_barrier(problems()["HS12"], np.array(x), 1.0)
    assert model.value == np.inf, f"log_barrier(HS12, {x}).value is {model.value}, expected infinity"
    assert np.isnan(model.gradient).all() and model.gradient.shape == (2,), f"its gradient is {model.gradient}"
    assert np.isnan(model.hessian).all() and model.hessian.shape == (2, 2), f"its hessian is {model.hessian}"


def test_log_barrier_is_infinite_where_one_of_several_is_broken():
    for x in ([0.2, -0.1, 0.3], [-0.2, -0.1, 0.3]):
        model = log_barrier(problems()["HS35"], np.array(x), 1.0)
        assert model.value == np.inf, f"log_barrier(HS35, {x}).value is {model.value}, though x_2 >= 0 is broken"


# barrier_multipliers


def test_barrier_multipliers_are_reciprocals():
    x = np.array([0.7, 0.4, 0.35])
    lam, gap = barrier_multipliers(problems()["HS35"], x, 2.5)
    expected = 1 / (2.5 * np.array([3 - 0.7 - 0.4 - 0.7, 0.7, 0.4, 0.35]))
    assert_close(lam, expected, "lambda of barrier_multipliers(HS35, [0.7, 0.4, 0.35], 2.5)", "equation (8)")
    assert_close(gap, 1.6, "its gap", "m/t = 4/2.5, equation (9)")


# phase_one


def test_phase_one_returns_a_start_that_is_inside():
    x, found, nfev = phase_one(problems()["HS12"], np.array([1.3, 2.6]))
    assert found and nfev == 0, f"phase_one from a point inside says {found}, after {nfev} evaluations"
    assert_close(x, [1.3, 2.6], "phase_one from a point inside", "the point itself")


@pytest.mark.parametrize(
    ("what", "problem", "start"),
    [
        ("HS12", "HS12", [9.0, -7.0]),
        ("HS21", "HS21", [-1.0, -1.0]),
        ("a point of the border", "HS12", [2.0, 3.0]),
        ("a narrow wedge", linear([1.0, 1.0], [[1, 100], [1, -100], [-1, 0]], [1e-2, 1e-2, 9], [5.0, 4.0]), [5.0, 4.0]),
        ("a half-plane", linear([1.0, 1.0], [[1, 1]], [-50.0], [5.0, 4.0]), [5.0, 4.0]),
    ],
)
def test_phase_one_finds_a_point_inside(what, problem, start):
    problem = problems()[problem] if isinstance(problem, str) else problem
    start = np.array(start)
    kept = start.copy()
    x, found, nfev = phase_one(problem, start)
    worst = problem.inequalities(x).max()
    assert found and worst < 0, f"phase_one of {what} from {start} says {found}; its largest inequality is {worst}"
    assert nfev > 0, "phase_one counts no evaluations"
    assert abs(x).max() < 1e3, f"phase_one should stop at the first point inside, and went on to {x}"
    assert_close(start, kept, "the start afterwards", "its old value")


def test_phase_one_without_inequalities_has_nothing_to_do():
    x, found, nfev = phase_one(linear([1.0], np.zeros((0, 1)), [], [0.5]), np.array([0.5]))
    assert (x.tolist(), found, nfev) == ([0.5], True, 0), f"phase_one without inequalities returned {x, found, nfev}"


def test_phase_one_begins_with_a_weight_of_one_over_s():
    rows, offsets = np.array([[1.0], [-1.0], [-2.0]]), np.array([-0.7, -0.7, -1.9])  # x <= -0.7, x >= 0.7, x >= 0.95
    x, found, _ = phase_one(linear([1.0], rows, offsets, [3.0]), np.array([3.0]))
    worst = 3.0 + 0.7
    relaxed = linear([0.0, 1.0], np.column_stack([rows, -np.ones(3)]), offsets, [3.0, worst + 1])
    t, centre = 0.1 / (worst + 1), np.array([3.0, worst + 1])
    while t < 1e6:
        t *= 10
        centre = newton(lambda y, t=t: log_barrier(relaxed, y, t), centre, tol=1e-6 * t).x
        if centre[1] - 3 / t > 0:
            break
    assert not found, f"x <= -0.7 and x >= 0.7: phase_one says {found} at {x}"
    call = "phase_one's end, where s - m/t > 0 for the first time"
    assert_close(x, centre[:1], call, "the central point of (10) for t = 1/4.7, 10/4.7, ...", rtol=1e-6)


def test_phase_one_says_so_where_no_point_is_inside():
    for gap in (0.7, 1e-3):
        apart = linear([1.0, 0.0], [[1, 0], [-1, 0], [0, 1], [0, -1]], [-gap, -gap, 1, 1], [0.2, 0.3])
        x, found, nfev = phase_one(apart, np.array([0.2, 0.3]))
        assert not found, f"x1 <= {-gap} and x1 >= {gap}: phase_one says {found} at {x}"
        assert nfev < (40 if gap > 0.1 else 100), f"s - m/t > 0 proves it soon; phase_one made {nfev} evaluations"
    touching = linear([1.0], [[1], [-1]], [0.0, 0.0], [0.2])
    x, found, _ = phase_one(touching, np.array([0.2]), tol=0.1)
    assert not found, f"x <= 0 and x >= 0 have no interior, and phase_one says {found} at {x}"


# minimize_barrier


def test_minimize_barrier_passes_through_the_central_points():
    half_line, calls = counted(linear([1.9], [[-1.0]], [-0.6], [4.0]))
    result = minimize_barrier(half_line, t=0.5, growth=3.0, max_iter=4, record_path=True, tol=1e-9)
    weights = 0.5 * 3.0 ** np.arange(4)
    expected = np.concatenate([[4.0], 0.6 + 1 / (1.9 * weights)])[:, None]
    assert_close(
        result.path,
        expected,
        "minimize_barrier(...).path of least 1.9 x with x >= 0.6",
        "x(t) = 0.6 + 1/(1.9 t)",
        rtol=1e-7,
    )
    assert_close(result.inequality_multipliers, [1.9], "its multiplier", "equation (8)", rtol=1e-7)
    assert result.message == OUT_OF_STEPS and result.nit == 4, f"after 4 rounds: {result.message!r}, nit {result.nit}"
    finite = len(calls)
    assert finite - 5 <= result.nfev <= finite + 60, f"nfev is {result.nfev}; the objective was called {finite} times"
    assert result.violation == 0 and result.equality_multipliers.shape == (0,), f"it returned {result}"


def test_minimize_barrier_knows_its_gap_on_a_linear_programme():
    problem, costs, rows, offsets = programme()
    answer = linprog(costs, rows, offsets, bounds=(None, None))
    for rounds in (1, 3):
        result = minimize_barrier(problem, max_iter=rounds, t=2.0)
        t = 2.0 * 10.0 ** (rounds - 1)
        dual = -offsets @ result.inequality_multipliers
        call = f"minimize_barrier on a linear programme at t = {t}"
        assert_close(
            rows.T @ result.inequality_multipliers,
            -costs,
            f"G' lambda of {call}",
            "dual feasibility",
            rtol=1e-4,
            atol=1e-5,
        )
        assert_close(result.fun - dual, 7 / t, f"the duality gap of {call}", "m/t: equation (9)", rtol=1e-4)
        assert 0 < result.fun - answer.fun <= 7 / t * 1.001, f"{call}: {result.fun - answer.fun} above the optimum"
    result = minimize_barrier(problem)
    assert result.success, f"minimize_barrier on a linear programme says {result.message!r}"
    assert_close(result.x, answer.x, "minimize_barrier(...).x", "scipy's linprog", atol=1e-5)
    assert_close(result.inequality_multipliers, -answer.ineqlin.marginals, "its multipliers", "linprog", atol=1e-4)


@pytest.mark.parametrize(("name", "tol"), [("HS12", 1e-6), ("HS21", 1e-3), ("HS35", 1e-3)])
def test_minimize_barrier_solves_problems_of_hock_and_schittkowski(name, tol):
    problem = problems()[name]
    result = minimize_barrier(problem, tol=tol, max_iter=8)
    call = f"minimize_barrier(hock_schittkowski()['{name}'], tol={tol})"
    assert result.success and result.message == CONVERGED, f"{call} says {result.success}, {result.message!r}"
    assert result.violation == 0, f"{call} is outside by {result.violation}"
    assert (problem.inequalities(result.x) < 0).all(), f"{call} is not inside"
    assert_close(result.x, problem.minimum, f"{call}.x", "the published minimum", atol=10 * tol)
    gap = result.fun - problem.fun(problem.minimum)
    assert gap <= tol, f"{call} is {gap} above the minimum, more than the bound (9)"
    assert_close(result.fun, problem.fun(result.x), f"{call}.fun", "the objective, without the barrier")
    assert result.path is None, f"{call}.path was not asked for"


def test_minimize_barrier_stops_as_soon_as_the_gap_is_small():
    half_line = linear([1.9], [[-1.0]], [-0.6], [4.0])
    for tol, rounds in ((1e-4, 5), (0.9e-4, 6), (1.0, 1)):
        result = minimize_barrier(half_line, tol=tol)
        assert result.success and result.nit == rounds, f"1/10^k <= {tol} after {rounds} rounds; it made {result.nit}"
    assert minimize_barrier(half_line, tol=1e-4, max_iter=5).success, "with just the rounds it needs it has converged"
    short = minimize_barrier(half_line, tol=1e-4, max_iter=4)
    assert not short.success and short.message == OUT_OF_STEPS, f"with one round less it says {short.message!r}"


def test_minimize_barrier_needs_a_centre():
    lying = replace(problems()["HS12"], grad=lambda x: np.array([31.0, -7.0]))
    result = minimize_barrier(lying, tol=1.0, max_iter=1)
    assert not result.success, f"with a wrong gradient there is no centre, and it says {result.message!r}"


def test_minimize_barrier_begins_with_phase_one():
    result = minimize_barrier(problems()["HS12"], [4.0, -2.0], record_path=True, max_iter=1)
    first = problems()["HS12"].inequalities(result.path[0])
    assert first < 0 and len(result.path) == 2, f"its path begins at {result.path[0]}, and has {len(result.path)} rows"
    outside, inside = (
        minimize_barrier(problems()["HS12"], start, max_iter=1) for start in ([4.0, -2.0], result.path[0])
    )
    spent = phase_one(problems()["HS12"], np.array([4.0, -2.0]))[2]
    assert outside.nfev == inside.nfev + spent, f"nfev {outside.nfev} should hold the {spent} evaluations of phase_one"


def test_minimize_barrier_says_so_where_nothing_is_inside():
    apart = linear([1.0, 0.0], [[1, 0], [-1, 0], [0, 1], [0, -1]], [-0.7, -0.7, 1, 1], [0.2, 0.3])
    result = minimize_barrier(apart, record_path=True)
    assert not result.success and result.message == INFEASIBLE, f"on an infeasible programme: {result.message!r}"
    assert result.nit == 0 and len(result.path) == 1, f"it made {result.nit} rounds"
    assert_close(result.inequality_multipliers, np.zeros(4), "its multipliers", "zeros after no round")
    assert_close(result.violation, 0.7, "its violation", "what is left in the middle", rtol=0.02)


def test_minimize_barrier_says_so_where_the_objective_falls_for_ever():
    result = minimize_barrier(linear([1.0, -2.0], [[1.0, 0.0], [-1.0, 0.0]], [3.0, 3.0], [0.5, 0.5]))
    assert not result.success and result.message == DIVERGED, f"an unbounded programme: {result.message!r}"
    assert result.nit == 1, f"it went on for {result.nit} rounds"
    broken = replace(problems()["HS12"], fun=lambda x: np.nan)
    assert minimize_barrier(broken).message == DIVERGED, "an objective of NaN should be DIVERGED"


def test_minimize_barrier_and_penalty_let_errors_of_the_users_functions_through():
    def broken(*args):
        raise ZeroDivisionError("mine")

    for name in ("fun", "grad", "inequalities", "inequality_jacobian", "lagrangian_hess"):
        for solve in (minimize_penalty, minimize_barrier):
            with pytest.raises(ZeroDivisionError, match="mine"):
                pytest.fail(
                    f"{name} raised, and {solve.__name__} returned {solve(replace(problems()['HS12'], **{name: broken}))}"
                )


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("start", {"start": [np.nan, 1.0]}),
        ("growth", {"growth": 1.0}),
        ("growth", {"growth": np.nan}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
    ],
)
def test_minimize_barrier_and_penalty_refuse_what_they_cannot_use(name, options):
    for solve in (minimize_penalty, minimize_barrier):
        with pytest.raises(ValueError, match=name):
            solve(problems()["HS12"], **options)


@pytest.mark.given
def test_minimize_barrier_and_penalty_refuse_bad_weights_and_equalities():
    for weight in (0.0, -1.0, np.inf):
        with pytest.raises(ValueError, match="penalty"):
            minimize_penalty(problems()["HS12"], penalty=weight)
        with pytest.raises(ValueError, match="t must"):
            minimize_barrier(problems()["HS12"], t=weight)
    with pytest.raises(ValueError, match="equalities"):
        minimize_barrier(problems()["HS14"])
    with pytest.raises(ValueError, match="tol"):
        minimize_barrier(problems()["HS12"], tol=0.0)


@pytest.mark.given
def test_minimize_barrier_has_a_newton_that_stops_where_it_is_told():
    walk = newton(
        lambda x: Model(float(x @ x), 2 * x, 2 * np.eye(2)),
        np.array([3.0, -1.0]),
        tol=1e-9,
        enough=lambda x: x[0] < 3.5,
    )
    assert_close(walk.x, [3.0, -1.0], "newton with `enough` at its start", "the start")
