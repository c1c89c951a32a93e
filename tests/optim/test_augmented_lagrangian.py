"""Shared tests of optim/augmented_lagrangian: run on the reference, and on the learner's file.

Everything is deterministic. Values by hand are exact to rounding; minima are compared within some ten times the tolerance that
was asked for, as the multipliers converge linearly.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, hock_schittkowski, infeasible, redundant
from mlpath.optim.augmented_lagrangian import (
    CONVERGED,
    DIVERGED,
    INFEASIBLE,
    OUT_OF_STEPS,
    augmented_lagrangian,
    contraction,
    inner_tolerance,
    minimize,
    next_penalty,
    progress,
    update_multipliers,
    violation_slope,
)
from mlpath.optim.penalty_barrier import minimize_penalty, quadratic_penalty
from mlpath.testing import assert_close

NONE = np.zeros(0)


@cache
def problems():
    return hock_schittkowski()


@cache
def solved(name):
    return minimize(problems()[name], max_iter=12, record_path=True)


def quadratic(hessian, rows, offsets, costs):
    """Least x'Hx/2 + c'x with rows x = offsets."""
    hessian, rows, offsets, costs = (np.array(a, dtype=float) for a in (hessian, rows, offsets, costs))
    dim = len(costs)
    matrix = np.block([[hessian, rows.T], [rows, np.zeros((len(rows),) * 2)]])
    return ConstrainedProblem(
        lambda x: float(x @ hessian @ x / 2 + costs @ x),
        lambda x: hessian @ x + costs,
        lambda x: hessian,
        lambda x: rows @ x - offsets,
        lambda x: rows,
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, dim)),
        lambda x, nu, lam: hessian,
        np.zeros(dim),
        np.linalg.solve(matrix, np.concatenate([-costs, offsets]))[:dim],
    )


@cache
def programme():
    """A quadratic programme with two equalities in four dimensions."""
    rng = np.random.default_rng(8)
    root = rng.standard_normal((4, 4))
    return quadratic(root @ root.T + np.eye(4), rng.standard_normal((2, 4)), [0.7, -1.2], rng.standard_normal(4))


def linear(costs, rows, offsets):
    """Least costs'x with rows x <= offsets."""
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
        np.full(dim, 0.5),
        np.full(dim, np.nan),
    )


def half_line(bound, side=1.0):
    """Least x^2 with x >= bound (side 1) or x <= bound (side -1)."""
    return ConstrainedProblem(
        lambda x: float(x @ x),
        lambda x: 2 * x,
        lambda x: np.array([[2.0]]),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 1)),
        lambda x: side * (bound - x),
        lambda x: np.array([[-side]]),
        lambda x, nu, lam: np.array([[2.0]]),
        np.array([0.3]),
        np.array([max(side * bound, 0.0) * side]),
    )


def differences(function, x):
    """Central differences of a function, in rows for each of its values."""
    moves = 1e-6 * np.eye(len(x))
    return np.array([(np.array(function(x + m)) - np.array(function(x - m))) / 2e-6 for m in moves]).T


# augmented_lagrangian


@pytest.mark.parametrize(("lam", "presses"), [(2.13, True), (0.37, False)])
def test_augmented_lagrangian_of_both_kinds_of_constraints(lam, presses):
    x = np.array([1.15, 0.63])
    h, g = 1.15 - 1.26 + 1, 0.25 * 1.15**2 + 0.63**2 - 1
    model = augmented_lagrangian(problems()["HS14"], x, np.array([-1.43]), np.array([lam]), 3.7)
    pull, push = -1.43 + 3.7 * h, lam + 3.7 * g
    assert (push > 0) == presses
    push = max(push, 0.0)
    value = 0.85**2 + 0.37**2 - 1.43 * h + 1.85 * h**2 + (push**2 - lam**2) / 7.4
    row = np.array([0.5 * 1.15, 1.26])
    gradient = np.array([-1.7, -0.74]) + pull * np.array([1, -2]) + push * row
    hessian = np.diag([2 + 0.5 * push, 2 + 2 * push]) + 3.7 * np.array([[1, -2], [-2, 4]])
    hessian = hessian + 3.7 * presses * np.outer(row, row)
    call = f"augmented_lagrangian(HS14, [1.15, 0.63], [-1.43], [{lam}], 3.7)"
    assert_close(model.value, value, f"{call}.value", "equation (2)")
    assert_close(model.gradient, gradient, f"{call}.gradient", "equation (3)")
    assert_close(model.hessian, hessian, f"{call}.hessian", "equation (5)")


@pytest.mark.parametrize("name", ["HS43", "HS40", "HS21"])
def test_augmented_lagrangian_has_the_derivatives_of_its_value(name):
    problem = problems()[name]
    x = problem.minimum + np.linspace(0.31, -0.17, len(problem.minimum))
    nu = np.linspace(-1.3, 0.8, len(problem.equalities(x)))
    lam = np.linspace(0.2, 3.1, len(problem.inequalities(x)))
    model = augmented_lagrangian(problem, x, nu, lam, 2.9)
    slopes = differences(lambda y: augmented_lagrangian(problem, y, nu, lam, 2.9).value, x)
    bends = differences(lambda y: augmented_lagrangian(problem, y, nu, lam, 2.9).gradient, x)
    assert_close(model.gradient, slopes, f"augmented_lagrangian({name}).gradient", "differences", rtol=1e-6, atol=1e-6)
    assert_close(model.hessian, bends, f"augmented_lagrangian({name}).hessian", "differences", rtol=1e-6, atol=1e-6)


def test_augmented_lagrangian_is_the_least_over_slack_variables():
    problem, x, lam = problems()["HS43"], np.array([0.4, 0.9, 1.7, -0.3]), np.array([0.7, 2.9, 0.0])
    g = problem.inequalities(x)
    slack = np.linspace(0, 20, 200_001)
    least = [np.min(li * (gi + slack) + 1.3 / 2 * (gi + slack) ** 2) for li, gi in zip(lam, g)]
    found = augmented_lagrangian(problem, x, NONE, lam, 1.3).value
    assert_close(
        found, problem.fun(x) + sum(least), "augmented_lagrangian(HS43, ...).value", "slacks, by trial", rtol=1e-7
    )


def test_augmented_lagrangian_is_stationary_at_the_solution_with_its_multipliers():
    for name, nu, lam in (("HS42", [-2, 5 / np.sqrt(2) - 1], []), ("HS43", [], [1.0, 0.0, 2.0])):
        problem = problems()[name]
        model = augmented_lagrangian(problem, problem.minimum, np.array(nu, float), np.array(lam, float), 10.0)
        zeros = np.zeros(len(problem.minimum))
        assert_close(
            model.gradient, zeros, f"augmented_lagrangian(...).gradient at the solution of {name}", "(3)", atol=1e-9
        )
        least = np.linalg.eigvalsh(model.hessian)[0]
        assert least > 1, (
            f"at the solution of {name}, rho = 10, (5) should be positive definite; least eigenvalue {least}"
        )


# update_multipliers


def test_update_multipliers_by_equation_4():
    problem, x = problems()["HS43"], np.array([0.4, 0.9, 1.7, -0.3])
    g = problem.inequalities(x)
    lam = np.array([0.7, 29.3, 11.4])
    kept = lam.copy()
    nu, found = update_multipliers(problem, x, NONE, lam, 2.3)
    expected = [max(0.0, li + 2.3 * gi) for li, gi in zip(lam, g)]
    assert min(expected) == 0 < sorted(expected)[1]
    assert_close(found, expected, "lambda of update_multipliers(HS43, ...)", "equation (4)")
    assert nu.shape == (0,), f"nu of update_multipliers without equalities is {nu}"
    assert_close(lam, kept, "the old multipliers afterwards", "their old values")


def test_update_multipliers_of_equalities_may_have_any_sign():
    nu, lam = update_multipliers(problems()["HS42"], np.array([1.4, 0.0, 1.3, 0.2]), np.array([0.83, -2.6]), NONE, 2.3)
    expected = [0.83 - 2.3 * 0.6, -2.6 + 2.3 * (1.69 + 0.04 - 2)]
    assert_close(nu, expected, "nu of update_multipliers(HS42, [1.4, 0, 1.3, 0.2], ...)", "equation (4)")
    assert lam.shape == (0,), f"lambda without inequalities is {lam}"


# progress


@pytest.mark.parametrize(
    ("x", "lam", "penalty", "expected"),
    [
        ((1.15, 0.63), 0.0, 3.7, 0.89),  # the equality; g = -0.272 has no multiplier
        ((0.2, 0.6), 2.5, 4.0, 0.625),  # g = -0.63 beside -2.5/4, h = 0
        ((0.2, 0.6), 2.5, 2.5, 0.63),  # now g is the larger
        ((1.7, 1.35), 0.4, 3.0, 1.545),  # g, violated
        ((-0.3, 0.9), 0.0, 3.0, 1.1),  # the equality, negative
    ],
)
def test_progress_measures_violation_and_complementarity(x, lam, penalty, expected):
    found = progress(problems()["HS14"], np.array(x), np.array([lam]), penalty)
    assert_close(found, expected, f"progress(HS14, {x}, [{lam}], {penalty})", "equation (7)")


def test_progress_without_constraints_is_zero():
    free = replace(half_line(1.0), inequalities=lambda x: np.zeros(0), inequality_jacobian=lambda x: np.zeros((0, 1)))
    assert progress(free, np.array([0.4]), NONE, 3.0) == 0, "without constraints (7) is 0"


# next_penalty


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [(0.61, 2.48, 3.7), (0.62, 2.48, 3.7), (0.63, 2.48, 37.0), (3.1, 2.48, 37.0), (9.9, np.inf, 3.7), (0.0, 0.0, 3.7)],
)
def test_next_penalty_grows_only_without_progress(now, before, expected):
    found = next_penalty(3.7, now, before)
    assert_close(found, expected, f"next_penalty(3.7, {now}, {before})", f"a quarter of {before}", rtol=1e-12)


# inner_tolerance


def test_inner_tolerance_shrinks_by_a_tenth_down_to_tol():
    found = [inner_tolerance(nit, 3.3e-4) for nit in range(6)]
    expected = [1e-1, 1e-2, 1e-3, 3.3e-4, 3.3e-4, 3.3e-4]
    assert_close(found, expected, "inner_tolerance(0...5, 3.3e-4)", "equation (8)", rtol=1e-9)


# contraction


def test_contraction_by_hand():
    found = contraction(np.diag([2.6, 1.4]), np.array([[1.3, 0.9]]), 3.7)
    stiff = 1.3**2 / 2.6 + 0.9**2 / 1.4
    assert_close(found, 1 / (1 + 3.7 * stiff), "contraction(diag(2.6, 1.4), [[1.3, 0.9]], 3.7)", "equation (6)")


@pytest.mark.parametrize("penalty", [0.3, 5.0, 1e4])
def test_contraction_is_the_largest_eigenvalue_of_equation_6(penalty):
    rng = np.random.default_rng(6)
    root, rows = rng.standard_normal((7, 7)), rng.standard_normal((3, 7))
    hessian = root @ root.T
    stiff = rows @ np.linalg.solve(hessian, rows.T)
    expected = 1 / (1 + penalty * np.linalg.eigvalsh(stiff)[0])
    assert_close(
        contraction(hessian, rows, penalty), expected, f"contraction(..., {penalty})", "equation (6)", rtol=1e-7
    )


def test_contraction_of_an_indefinite_hessian_may_exceed_one():
    # -x1^2/2 along the constraint x1 = 0: the error of nu is multiplied by 1 - rho / (rho - 1)
    for penalty, expected in ((1.5, 2.0), (2.0, 1.0), (11.0, 0.1)):
        found = contraction(np.diag([-1.0, 1.7]), np.array([[1.0, 0.0]]), penalty)
        assert_close(found, expected, f"contraction(diag(-1, 1.7), [[1, 0]], {penalty})", "equation (6)")


# violation_slope


def test_violation_slope_is_that_of_half_the_squares():
    x = np.array([1.45, 0.83])
    h, g = 1.45 - 1.66 + 1, 0.25 * 1.45**2 + 0.83**2 - 1
    expected = h * np.array([1, -2]) + g * np.array([0.5 * 1.45, 1.66])
    assert_close(
        violation_slope(problems()["HS14"], x), expected, "violation_slope(HS14, [1.45, 0.83])", "equation (9)"
    )
    inside = violation_slope(problems()["HS14"], np.array([0.35, 0.23]))
    assert_close(inside, [0.89, -1.78], "violation_slope(HS14, [0.35, 0.23]), where g < 0", "equation (9)")


# minimize


@pytest.mark.parametrize(
    "name", ["HS6", "HS12", "HS14", "HS21", "HS24", "HS28", "HS35", "HS39", "HS40", "HS42", "HS43", "HS48"]
)
def test_minimize_solves_the_problems_of_hock_and_schittkowski(name):
    problem, result = problems()[name], solved(name)
    call = f"minimize(hock_schittkowski()['{name}'])"
    assert result.success and result.message == CONVERGED, f"{call} says {result.success}, {result.message!r}"
    assert_close(result.x, problem.minimum, f"{call}.x", "the published minimum", atol=1e-5)
    assert_close(result.fun, problem.fun(result.x), f"{call}.fun", "the objective, without what was added")
    assert_close(result.violation, problem.violation(result.x), f"{call}.violation", "the largest one", atol=1e-15)
    assert result.violation <= 1e-6, f"{call}.violation is {result.violation}, above tol"
    slope = problem.grad(result.x) + problem.equality_jacobian(result.x).T @ result.equality_multipliers
    slope = slope + problem.inequality_jacobian(result.x).T @ result.inequality_multipliers
    assert_close(slope, np.zeros(len(slope)), f"the Lagrangian's gradient after {call}", "(3)", atol=1e-6)
    assert (result.inequality_multipliers >= 0).all(), f"{call}: negative multipliers {result.inequality_multipliers}"
    products = result.inequality_multipliers * problem.inequalities(result.x)
    assert_close(products, np.zeros(len(products)), f"lambda g after {call}", "complementarity", atol=1e-5)
    assert result.path.shape == (result.nit + 1, len(result.x)), f"{call}.path has the shape {result.path.shape}"
    assert_close(result.path[[0, -1]], [problem.start, result.x], f"{call}.path from its start", "to x")


def test_minimize_knows_round_multipliers():
    for name, nu, lam in (("HS42", [-2, 5 / np.sqrt(2) - 1], []), ("HS12", [], [0.5])):
        found = minimize(problems()[name], tol=1e-8, penalty=100.0, max_iter=12)
        assert_close(found.equality_multipliers, nu, f"nu of minimize({name}, tol=1e-8)", "solving by hand", atol=1e-7)
        assert_close(found.inequality_multipliers, lam, f"lambda of minimize({name}, tol=1e-8)", "by hand", atol=1e-7)


def test_minimize_makes_its_rounds_as_the_worked_example_does():
    # x = (2 - nu + (rho - 2)) / (2 + rho) for least x^2 with x = 1: here x^2 with x = 1.7, rho = 3
    line = quadratic([[2.0]], [[1.0]], [1.7], [0.0])
    result = minimize(line, penalty=3.0, max_iter=4, tol=1e-9, record_path=True)
    points, nu, rho, before = [0.0], 0.0, 3.0, np.inf
    for _ in range(4):
        x = (1.7 * rho - nu) / (2 + rho)
        nu, off, last = nu + rho * (x - 1.7), abs(x - 1.7), rho
        rho, before = (rho if off <= before / 4 else 10 * rho), off
        points.append(x)
    assert_close(result.path[:, 0], points, "minimize(x^2 with x = 1.7, penalty=3).path", "(1), (4), (7)", rtol=1e-9)
    assert_close(result.equality_multipliers, [nu], "its multiplier after 4 rounds", "equation (4)")
    assert_close(result.penalty, last, "its penalty", "the weight of the last round")
    assert result.message == OUT_OF_STEPS and result.nit == 4, f"after max_iter=4: {result.message!r}, {result.nit}"


def test_minimize_begins_with_multipliers_of_zero():
    result = minimize(half_line(1.7), penalty=3.0, max_iter=1, tol=1e-9)
    assert_close(result.x, [1.02], "the first round of minimize(x^2 with x >= 1.7, penalty=3)", "2 x = 3 (1.7 - x)")
    assert_close(result.inequality_multipliers, [2.04], "its multiplier", "equation (4): 0 + 3 (1.7 - 1.02)")


def test_minimize_leaves_alone_what_does_not_press():
    for bound, side, x, lam in ((1.7, 1.0, 1.7, 3.4), (-1.7, 1.0, 0.0, 0.0), (-1.7, -1.0, -1.7, 3.4)):
        result = minimize(half_line(bound, side), tol=1e-8, max_iter=15)
        call = f"minimize(x^2 with x {'>=' if side > 0 else '<='} {bound})"
        assert result.success, f"{call} says {result.message!r}"
        assert_close(result.x, [x], f"{call}.x", "by hand", atol=1e-7)
        assert_close(result.inequality_multipliers, [lam], f"{call}.inequality_multipliers", "by hand", atol=1e-6)


@pytest.mark.parametrize("penalty", [30.0, 300.0])
def test_minimize_converges_linearly_at_the_predicted_rate(penalty):
    problem = programme()
    rows = problem.equality_jacobian(problem.start)
    predicted = contraction(problem.hess(problem.start), rows, penalty)
    assert predicted < 0.25, predicted
    exact = -np.linalg.lstsq(rows.T, problem.grad(problem.minimum), rcond=None)[0]
    errors = []
    for rounds in (1, 2, 3):
        result = minimize(problem, penalty=penalty, max_iter=rounds, tol=1e-13)
        assert result.penalty == penalty, f"the weight rose to {result.penalty}, though the rounds converge"
        errors.append(np.linalg.norm(result.equality_multipliers - exact))
    ratios = np.array(errors[1:]) / errors[:-1]
    call = f"the ratios of the errors of minimize(..., penalty={penalty})'s multipliers"
    assert_close(ratios, [predicted] * 2, call, "equation (6)", rtol=0.02)


def test_minimize_stays_well_conditioned_where_a_penalty_does_not():
    problem = problems()["HS42"]
    ours, theirs = solved("HS42"), minimize_penalty(problem)
    weight = 1 / theirs.violation  # its weight, up to the size of a multiplier
    stiff = np.linalg.cond(quadratic_penalty(problem, theirs.x, weight).hessian)
    ours_stiff = np.linalg.cond(
        augmented_lagrangian(problem, ours.x, ours.equality_multipliers, NONE, ours.penalty).hessian
    )
    assert ours.violation < 1e-6, f"minimize(HS42) is off by {ours.violation}"
    assert ours.penalty <= 100, f"minimize(HS42) ended with the weight {ours.penalty}; no more than 100 is needed"
    assert ours_stiff < 1e3 < 1e5 < stiff, f"condition numbers {ours_stiff} and, for the penalty, {stiff}"


def test_minimize_agrees_with_scipy():
    for name in ("HS14", "HS43"):
        problem = problems()[name]
        constraints = [
            {"type": "eq", "fun": problem.equalities, "jac": problem.equality_jacobian},
            {
                "type": "ineq",
                "fun": lambda x, p=problem: -p.inequalities(x),
                "jac": lambda x, p=problem: -p.inequality_jacobian(x),
            },
        ][not len(problem.equalities(problem.start)) :]
        peer = scipy_minimize(
            problem.fun,
            problem.start,
            jac=problem.grad,
            method="SLSQP",
            constraints=constraints,
            options={"ftol": 1e-12},
        )
        assert_close(solved(name).x, peer.x, f"minimize({name}).x", "scipy's SLSQP", atol=1e-5)
        assert_close(solved(name).fun, peer.fun, f"minimize({name}).fun", "scipy's SLSQP", rtol=1e-5)


def test_minimize_counts_and_leaves_its_start_alone():
    calls, start = [], problems()["HS14"].start.copy()
    problem = replace(problems()["HS14"], fun=lambda x: (calls.append(1), problems()["HS14"].fun(x))[1], start=start)
    result = minimize(problem, max_iter=12)
    assert result.nfev == len(calls) - 1, (
        f"nfev is {result.nfev}; the rounds called the objective {len(calls) - 1} times"
    )
    assert_close(start, problems()["HS14"].start, "the start afterwards", "its old value")
    assert result.path is None, "the path was not asked for"
    other = minimize(problems()["HS14"], [0.3, 0.2], record_path=True, max_iter=1)
    assert_close(other.path[0], [0.3, 0.2], "minimize(HS14, [0.3, 0.2]).path[0]", "the start that was handed over")


def test_minimize_does_not_solve_its_first_rounds_exactly():
    gradients = []
    problem = problems()["HS12"]
    for rounds in (1, 2, 3):
        result = minimize(problem, max_iter=rounds)
        slope = problem.grad(result.x) + problem.inequality_jacobian(result.x).T @ result.inequality_multipliers
        gradients.append(abs(slope).max())
    assert all(g <= 10.0 ** (-k - 1) for k, g in enumerate(gradients)), (
        f"gradients {gradients}: (8) allows 0.1, 0.01, ..."
    )
    assert gradients[0] > 1e-6, f"the first round went down to {gradients[0]}, though 0.1 is enough by (8)"


def test_minimize_at_its_last_round_may_have_converged():
    needed = solved("HS35").nit
    result = minimize(problems()["HS35"], max_iter=needed)
    assert result.success and result.nit == needed, f"with the {needed} rounds it needs it says {result.message!r}"
    short = minimize(problems()["HS35"], max_iter=needed - 1)
    assert not short.success and short.message == OUT_OF_STEPS, f"with one less it says {short.message!r}"


def test_minimize_comes_back_where_a_weak_penalty_lets_it_run_away():
    hill = quadratic([[-2.0]], [[1.0]], [1.7], [0.0])  # least -x^2 with x = 1.7: unbounded where rho < 2
    result = minimize(replace(hill, start=np.array([0.3])), penalty=1.0, max_iter=15, record_path=True)
    second = minimize(replace(hill, start=np.array([0.3])), penalty=1.0, max_iter=2)
    assert_close(second.penalty, 10.0, "the weight after a round that ran away with 1", "10 times that")
    assert result.success, f"minimize(-x^2 with x = 1.7, penalty=1) says {result.message!r}"
    assert_close(result.path[1], [0.3], "its path after a round that ran away", "where it was")
    assert_close(result.x, [1.7], "minimize(-x^2 with x = 1.7, penalty=1).x", "the constraint", atol=1e-5)
    assert_close(result.equality_multipliers, [3.4], "its multiplier", "2 x", atol=1e-4)
    assert result.penalty >= 10, f"its weight is {result.penalty}"


def test_minimize_ends_at_the_least_violation_where_nothing_is_feasible():
    result = minimize(infeasible(), max_iter=12)
    assert not result.success and result.message == INFEASIBLE, f"minimize(infeasible()) says {result.message!r}"
    # along the diagonal: least (2 s - 3)^2 + (2 s^2 - 1)^2, where 16 s^3 = 12
    s = 0.75 ** (1 / 3)
    assert_close(result.x, [s, s], "minimize(infeasible()).x", "the least sum of squares: (9)", atol=1e-4)
    assert_close(result.violation, 3 - 2 * s, "its violation", "that of the line", rtol=1e-3)
    apart = linear([1.0], [[1.0], [-1.0]], [-0.7, -0.7])
    result = minimize(apart, max_iter=12)
    assert result.message == INFEASIBLE, f"x <= -0.7 and x >= 0.7: {result.message!r}"
    assert_close(result.x, [0.0], "minimize of x with x <= -0.7 and x >= 0.7", "the middle", atol=1e-4)


def test_minimize_says_so_where_the_objective_falls_for_ever():
    result = minimize(linear([1.0, -2.0], [[1.0, 0.0]], [3.0]), record_path=True)
    assert not result.success and result.message == DIVERGED, f"an unbounded programme: {result.message!r}"
    assert_close(result.x, [0.5, 0.5], "its x", "the start, as every round ran away")
    assert result.nit == 10 and len(result.path) == 11, (
        f"weights 10, 100, ... 1e10 make 10 rounds; it made {result.nit}"
    )
    broken = replace(problems()["HS14"], fun=lambda x: np.nan)
    assert minimize(broken).message == DIVERGED, "an objective of NaN should be DIVERGED"


def test_minimize_stops_where_the_weight_has_no_end():
    # the constraint's gradient has the wrong sign: no round is any use, and the weight rises
    stuck = replace(quadratic([[2.0]], [[1.0]], [1.7], [0.0]), equality_jacobian=lambda x: np.array([[-1.0]]))
    result = minimize(stuck, penalty=1e8)
    assert not result.success and result.nit == 4, (
        f"weights 1e8 twice, 1e9, 1e10: {result.nit} rounds, {result.message!r}"
    )
    assert result.penalty <= 1e10, f"its weight is {result.penalty}, above LARGEST"


def test_minimize_manages_more_inequalities_than_needed():
    result = minimize(redundant(), max_iter=8)
    assert result.success, f"minimize(redundant()) says {result.message!r}"
    assert_close(result.x, [1.0, 1.0], "minimize(redundant()).x", "its corner", atol=1e-5)


def test_minimize_lets_errors_of_the_users_functions_through():
    def broken(*args):
        raise ZeroDivisionError("mine")

    for name in ("fun", "grad", "equalities", "inequality_jacobian", "lagrangian_hess"):
        with pytest.raises(ZeroDivisionError, match="mine"):
            pytest.fail(
                f"{name} raised, and minimize returned {minimize(replace(problems()['HS14'], **{name: broken}))}"
            )


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("start", {"start": [np.nan, 1.0]}),
        ("penalty", {"penalty": 0.0}),
        ("penalty", {"penalty": np.inf}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, options):
    with pytest.raises(ValueError, match=name):
        minimize(problems()["HS12"], **options)
