"""Shared tests of optim/sqp: run on the reference, and on the learner's file.

Everything is deterministic. Values by hand are exact to rounding; minima are compared to 1e-6, ten times the tolerance asked for,
as the conditions hold to 1e-7 and the problems' curvatures are of order 1.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, cusp, hock_schittkowski, infeasible, redundant, unbounded
from mlpath.optim._programs import program, quadratic_programs
from mlpath.optim.bfgs import damped_change, update_matrix
from mlpath.optim.interior_point import solve
from mlpath.optim.kkt import Local, Multipliers, certify, look
from mlpath.optim.sqp import (
    CONVERGED,
    DIVERGED,
    INFEASIBLE,
    OUT_OF_STEPS,
    STALLED,
    Step,
    elastic,
    learn,
    merit,
    minimize,
    next_weight,
    search,
    second_order_correction,
    solve_subproblem,
    subproblem,
)
from mlpath.testing import assert_close

NONE = np.zeros(0)
FAST = ("HS6", "HS14", "HS26", "HS39", "HS40", "HS42", "HS71")


@cache
def problems():
    return hock_schittkowski()


@cache
def solved(name, **options):
    return minimize(problems()[name], max_iter=40, **options)


@cache
def local():
    """A point of a problem with two equations and three inequalities in three dimensions."""
    return Local(
        2.35,
        np.array([1.3, -0.42, 0.77]),
        np.array([0.61, -1.34]),
        np.array([[1.2, -0.35, 0.4], [0.3, 2.1, -0.9]]),
        np.array([0.83, -0.57, 0.29]),
        np.array([[0.4, 1.9, -0.6], [-1.1, 0.23, 0.5], [0.7, -0.8, 1.6]]),
    )


def circle(angle):
    """Maratos' example: 2 (x'x - 1) - x1 on the unit circle, beginning at an angle; the minimum is (1, 0)."""
    return ConstrainedProblem(
        lambda x: float(2 * (x @ x - 1) - x[0]),
        lambda x: 4 * x - np.array([1.0, 0.0]),
        lambda x: 4 * np.eye(2),
        lambda x: np.array([x @ x - 1]),
        lambda x: 2 * x[None],
        lambda x: NONE,
        lambda x: np.zeros((0, 2)),
        lambda x, nu, lam: (4 + 2 * nu[0]) * np.eye(2),
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([1.0, 0.0]),
    )


# subproblem


def test_subproblem_has_the_tangents_and_the_matrix():
    matrix, at = np.array([[2.5, 0.7, 0.0], [0.7, 1.9, -0.3], [0.0, -0.3, 1.2]]), local()
    found = subproblem(at, matrix)
    for name, expected in (
        ("P", matrix),
        ("q", [1.3, -0.42, 0.77]),
        ("A", at.equality_jacobian),
        ("b", [-0.61, 1.34]),
        ("G", at.inequality_jacobian),
        ("h", [-0.83, 0.57, -0.29]),
    ):
        assert_close(getattr(found, name), expected, f"subproblem(local, B).{name}", "equation (1)")


def test_subproblem_at_a_minimum_has_no_step():
    problem = problems()["HS71"]
    step = solve_subproblem(look(problem, problem.minimum), np.eye(4), 10.0)
    subproblem(look(problem, problem.minimum), np.eye(4))
    assert_close(step.d, np.zeros(4), "the step of subproblem at the minimum of HS71", "equation (1)", atol=1e-7)


# elastic


def test_elastic_relaxes_every_constraint_at_a_price():
    at = local()
    found = elastic(subproblem(at, 1.7 * np.eye(3)), 23.0)
    a, g, call = at.equality_jacobian, at.inequality_jacobian, "elastic(subproblem(local, 1.7 I), 23)"
    assert_close(found.q, [1.3, -0.42, 0.77, *[23.0] * 7], f"{call}.q", "equation (2)")
    assert_close(found.P, np.diag([1.7] * 3 + [0.0] * 7), f"{call}.P", "equation (2)")
    assert_close(found.b, [-0.61, 1.34], f"{call}.b", "equation (2)")
    assert_close(found.A[:, :3], a, f"{call}.A, the columns of d", "equation (2)")
    split = found.A[:, 3:7]
    assert_close(split, np.hstack([-np.eye(2), np.eye(2)]), f"{call}.A, the columns of v and w", "A d + h = v - w")
    assert_close(found.A[:, 7:], np.zeros((2, 3)), f"{call}.A, the columns of t", "equation (2)")
    assert_close(found.G[:3], np.hstack([g, np.zeros((3, 4)), -np.eye(3)]), f"{call}.G[:3]", "G d - t")
    assert_close(found.G[3:], -np.eye(10)[3:], f"{call}.G[3:]", "v, w and t are at least 0")
    assert_close(found.h, [-0.83, 0.57, -0.29, *[0.0] * 7], f"{call}.h", "equation (2)")


def test_elastic_finds_the_solution_that_there_is():
    for name in ("HS35", "projection"):
        p = quadratic_programs()[name]
        found = solve(elastic(p, 5.0))
        assert_close(found.x[:3], p.minimum, f"the solution of elastic({name}, 5)", "the program's own", atol=1e-6)
        assert_close(found.x[3:], 0 * found.x[3:], f"the violations in elastic({name}, 5)", "none", atol=1e-6)


def test_elastic_shares_the_violation_where_there_is_none():
    walls = program([0.0], P=[[1e-3]], G=[[1.0], [-2.0]], h=[0.5, -4.2])  # x <= 0.5 and x >= 2.1
    found = solve(elastic(walls, 10.0))
    assert_close(found.x, [2.1, 1.6, 0.0], "elastic: the steeper wall costs more", "equation (2)", atol=1e-6)


# merit


def test_merit_by_hand():
    at = local()
    assert_close(merit(at, 3.7), 2.35 + 3.7 * (0.61 + 1.34 + 0.83 + 0.29), "merit(local, 3.7)", "equation (3)")
    d = np.array([-0.52, 0.31, 0.17])
    h = [0.61 - 1.2 * 0.52 - 0.35 * 0.31 + 0.4 * 0.17, -1.34 - 0.3 * 0.52 + 2.1 * 0.31 - 0.9 * 0.17]
    c = [
        0.83 - 0.4 * 0.52 + 1.9 * 0.31 - 0.6 * 0.17,
        -0.57 + 1.1 * 0.52 + 0.23 * 0.31 + 0.5 * 0.17,
        0.29 - 0.7 * 0.52 - 0.8 * 0.31 + 1.6 * 0.17,
    ]
    assert c[0] > 0 and c[1] > 0 and c[2] < 0
    expected = 2.35 - 1.3 * 0.52 - 0.42 * 0.31 + 0.77 * 0.17 + 3.7 * (abs(h[0]) + abs(h[1]) + c[0] + c[1])
    assert_close(merit(at, 3.7, d), expected, "merit(local, 3.7, (-0.52, 0.31, 0.17))", "equation (4)")
    assert_close(merit(at, 3.7, np.zeros(3)), merit(at, 3.7), "merit(local, 3.7, 0)", "equation (3)")
    free = Local(1.4, np.array([0.3]), NONE, np.zeros((0, 1)), NONE, np.zeros((0, 1)))
    assert_close(merit(free, 9.0, np.array([-2.0])), 0.8, "merit without constraints", "f + slope")


def test_merit_predicts_at_least_the_slope():
    problem, rng = problems()["HS14"], np.random.default_rng(1)
    for x in rng.standard_normal((5, 2)):
        at, d = look(problem, x), rng.standard_normal(2)
        slope = (merit(look(problem, x + 1e-7 * d), 2.3) - merit(at, 2.3)) / 1e-7
        chord = merit(at, 2.3, d) - merit(at, 2.3)
        assert slope <= chord + 1e-5, f"at {x} along {d} the merit's slope is {slope}, and m(d) - m(0) only {chord}"


# next_weight


@pytest.mark.parametrize(
    ("weight", "nu", "lam", "expected"),
    [
        (3.5, [-3.1], [0.5, 2.0], 3.5),
        (3.5, [-3.3], [0.5, 2.0], 6.6),
        (3.5, [1.2], [0.5, 3.45], 6.9),
        (0.3, [], [0.27], 0.3),
        (0.3, [], [0.28], 0.56),
        (7.0, [], [], 7.0),
        (7.75, [7.0], [], 7.75),
    ],
)
def test_next_weight_by_hand(weight, nu, lam, expected):
    found = next_weight(weight, Multipliers(np.array(nu), np.array(lam)))
    assert_close(found, expected, f"next_weight({weight}, nu = {nu}, lambda = {lam})", "equation (6)", rtol=1e-12)


# second_order_correction


def test_second_order_correction_returns_to_the_active_constraints():
    at = local()
    beyond = replace(at, equalities=np.array([0.13, -0.27]), inequalities=np.array([0.44, 0.61, 0.35]))
    found = second_order_correction(at, beyond, Multipliers(np.array([-3.1, 0.2]), np.array([0.0, 0.8, 3e-6])))
    rows = np.vstack([at.equality_jacobian, at.inequality_jacobian[1]])
    # 3e-6 is below 1e-6 times the largest multiplier, 3.1
    assert_close(found, np.linalg.solve(rows, [-0.13, 0.27, -0.61]), "second_order_correction", "equation (8)")
    found = second_order_correction(at, beyond, Multipliers(np.array([0.1, 0.2]), np.array([1.5e-6, 5e-7, 0.0])))
    rows = np.vstack([at.equality_jacobian, at.inequality_jacobian[0]])
    expected = np.linalg.solve(rows, [-0.13, 0.27, -0.44])
    assert_close(found, expected, "second_order_correction with multipliers of at most 0.2", "max(1, M) in (8)")


def test_second_order_correction_is_the_shortest():
    at = replace(local(), equalities=np.array([0.61]), equality_jacobian=np.array([[1.2, -0.35, 0.4]]))
    beyond = replace(at, equalities=np.array([0.37]))
    found = second_order_correction(at, beyond, Multipliers(np.array([2.0]), np.zeros(3)))
    row = np.array([1.2, -0.35, 0.4])
    assert_close(found, -0.37 * row / (row @ row), "second_order_correction to one equation", "the shortest p in (8)")
    none = replace(beyond, equalities=NONE, equality_jacobian=np.zeros((0, 3)))
    found = second_order_correction(none, none, Multipliers(NONE, np.zeros(3)))
    assert_close(found, np.zeros(3), "second_order_correction with nothing active", "equation (8)")


# search


def step_of(d, nu=(), lam=(), *, is_elastic=False):
    return Step(np.array(d), Multipliers(np.array(nu, dtype=float), np.array(lam, dtype=float)), is_elastic)


def test_search_takes_the_full_step_where_it_helps():
    problem, x = problems()["HS14"], np.array([2.0, 2.0])
    at = look(problem, x)
    found = search(problem, x, at, solve_subproblem(at, np.eye(2), 10.0), 10.0)
    assert_close(found.x, [4 / 3, 7 / 6], "search(HS14, (2, 2), ...).x", "x + d", rtol=1e-7)
    assert found.nfev == 1, f"search evaluated {found.nfev} points for a full step"
    assert_close(found.local.value, problem.fun(found.x), "search(...).local.value", "the objective there", rtol=1e-12)
    assert_close(found.local.equalities, problem.equalities(found.x), "search(...).local.equalities", "h", atol=1e-12)


@pytest.mark.parametrize(("elastic_step", "evaluations"), [(False, 4), (True, 3)])
def test_search_halves_the_step(elastic_step, evaluations):
    # x^4 / 4 from 1 with d = -3.3: -2.3 and -0.65 - where the correction changes nothing - then -0.65 is lower
    problem = replace(
        problems()["HS28"],
        fun=lambda x: float(x[0] ** 4 / 4),
        grad=lambda x: np.array([x[0] ** 3, 0, 0]),
        equalities=lambda x: NONE,
        equality_jacobian=lambda x: np.zeros((0, 3)),
    )
    x = np.array([1.0, 0.3, 0.4])
    found = search(problem, x, look(problem, x), step_of([-7.3, 0, 0], is_elastic=elastic_step), 1.0)
    assert_close(found.x, [1 - 7.3 / 4, 0.3, 0.4], "search(x^4 / 4, 1, d = -7.3).x", "the first that satisfies (7)")
    assert found.nfev == evaluations, (
        f"search evaluated {found.nfev} points, expected {evaluations}: 1, (1 + p,) 1/2, 1/4"
    )


def test_search_asks_for_a_share_of_the_predicted_decrease():
    # a straight slope that turns up: 1e-4 of what is predicted has to come, for each length its own share
    for first, gain, lengths in ((-0.5e-4, 1.1e-4, 2), (0.5e-4, 0.9e-4, 3), (0.5e-4, 1.1e-4, 2)):
        problem = replace(
            problems()["HS28"],
            fun=lambda x, f=first, g=gain: {0.0: 5.0, 1.0: 5.0 - f * 7, 0.5: 5.0 - g * 3.5, 0.25: 4.0}[float(x[0])],
            grad=lambda x: np.array([-7.0, 0, 0]),
            equalities=lambda x: NONE,
            equality_jacobian=lambda x: np.zeros((0, 3)),
        )
        found = search(problem, np.zeros(3), look(problem, np.zeros(3)), step_of([1.0, 0, 0], is_elastic=True), 1.0)
        assert found.nfev == lengths, (
            f"with gains of {first} and {gain} of the prediction at 1 and 1/2, search tried {found.nfev} lengths"
        )


def test_search_corrects_before_it_halves():
    problem = circle(0.1)
    x, matrix = problem.start, np.eye(2)  # the Lagrangian's second derivatives at the minimum
    at = look(problem, x)
    step = solve_subproblem(at, matrix, 10.0)
    beyond = look(problem, x + step.d)
    assert merit(beyond, 3.5) > merit(at, 3.5)  # Maratos: refused, although it squares the error
    found = search(problem, x, at, step, 3.5)
    p = -at.equality_jacobian[0] * beyond.equalities[0] / (at.equality_jacobian[0] @ at.equality_jacobian[0])
    assert_close(found.x, x + step.d + p, "search on Maratos' example", "x + d + p, with (8)", rtol=1e-9)
    assert found.nfev == 2, f"search evaluated {found.nfev} points, expected x + d and x + d + p"


def test_search_gives_up_and_refuses_what_is_not_finite():
    problem = replace(problems()["HS28"], equalities=lambda x: NONE, equality_jacobian=lambda x: np.zeros((0, 3)))
    x = problem.start
    at = look(problem, x)
    uphill = step_of(at.gradient)
    assert search(problem, x, at, uphill, 1.0) is None, (
        "along the gradient nothing is lower, and search found something"
    )
    down = step_of(-at.gradient)
    walled = replace(problem, fun=lambda y: np.nan if abs(y - x).max() > 0.2 else problem.fun(y))
    found = search(walled, x, at, down, 1.0)
    assert found is not None and abs(found.x - x).max() <= 0.2, f"search beside NaN returned {found}"
    assert search(replace(problem, fun=lambda y: np.nan), x, at, down, 1.0) is None, "search accepts NaN"


def valued(fun, slope):
    """A problem without constraints, of the first of three variables."""
    return replace(
        problems()["HS28"],
        fun=lambda x: fun(x[0]),
        grad=lambda x: np.array([slope, 0, 0]),
        equalities=lambda x: NONE,
        equality_jacobian=lambda x: np.zeros((0, 3)),
    )


def test_search_allows_for_rounding():
    unit = np.spacing(1e8)  # 10 eps times 1e8 are 14.9 of them
    for sign in (1, -1):
        for units, taken in ((14, True), (16, False)):
            flat = valued(lambda x, s=sign, u=units: s * 1e8 + (u * unit if x else 0.0), 1e-12)
            found = search(flat, np.zeros(3), look(flat, np.zeros(3)), step_of([-1.0, 0, 0]), 1.0)
            call = f"search where all else is {units} last digits above {sign}e8"
            assert (found is not None) == taken, f"{call} returned {found}; 10 eps are 14.9 digits"
    still = valued(lambda x: 0.0, 0.0)
    found = search(still, np.zeros(3), look(still, np.zeros(3)), step_of([-1.0, 0, 0]), 1.0)
    assert found is not None and found.nfev == 1, f"where nothing changes (7) holds; search returned {found}"


def test_search_tries_thirty_lengths():
    for last, found_at in ((2.0**-29, 30), (2.0**-30, None)):
        narrow = valued(lambda x, e=last: -x if x <= e else 1.0, -1.0)
        found = search(narrow, np.zeros(3), look(narrow, np.zeros(3)), step_of([1.0, 0, 0], is_elastic=True), 1.0)
        nfev = found.nfev if found else None
        assert nfev == found_at, f"with a decrease up to {last} search tried {nfev} lengths, expected {found_at}"


# learn


def test_learn_uses_the_lagrangian_with_the_new_multipliers():
    before = local()
    after = replace(
        before,
        gradient=np.array([2.9, 0.8, 1.1]),
        equality_jacobian=np.array([[1.5, -0.2, 0.9], [0.3, 2.6, -0.4]]),
        inequality_jacobian=np.array([[0.9, 1.7, -0.6], [-1.1, 0.93, 0.5], [0.7, -0.8, 2.3]]),
    )
    nu, lam = np.array([0.7, -1.3]), np.array([0.4, 0.0, 2.2])
    matrix, move = np.array([[2.5, 0.7, 0.0], [0.7, 1.9, -0.3], [0.0, -0.3, 1.2]]), np.array([0.9, 0.3, 0.6])
    kept = matrix.copy()
    change = np.array([2.9 - 1.3, 0.8 + 0.42, 1.1 - 0.77])
    change = change + 0.7 * np.array([0.3, 0.15, 0.5]) - 1.3 * np.array([0.0, 0.5, 0.5])
    change = change + 0.4 * np.array([0.5, -0.2, 0.0]) + 2.2 * np.array([0.0, 0.0, 0.7])
    found = learn(matrix, move, before, after, Multipliers(nu, lam))
    expected = update_matrix(matrix, move, damped_change(matrix, move, change))
    assert_close(found, expected, "learn(B, s, before, after, multipliers)", "equation (9)")
    assert_close(matrix, kept, "B afterwards", "its old value")


def test_learn_stays_positive_definite_where_the_lagrangian_is_not():
    before = local()
    after = replace(before, gradient=before.gradient - np.array([0.9, 0.2, 0.4]))
    matrix, move = np.diag([2.5, 1.9, 1.2]), np.array([0.5, 0.3, 0.1])
    found = learn(matrix, move, before, after, Multipliers(np.zeros(2), np.zeros(3)))
    change = damped_change(matrix, move, np.array([-0.9, -0.2, -0.4]))
    assert_close(found, update_matrix(matrix, move, change), "learn with negative curvature", "Powell's damping")
    assert np.linalg.eigvalsh(found)[0] > 0, f"learn returned a matrix with the eigenvalues {np.linalg.eigvalsh(found)}"


# minimize


@pytest.mark.parametrize("name", FAST)
def test_minimize_solves_hock_and_schittkowskis_problems(name):
    problem, found = problems()[name], solved(name)
    assert found.success and found.message == CONVERGED, f"minimize({name}) says {found.message!r}"
    call, atol = f"minimize({name})", 1e-2 if name == "HS26" else 1e-6  # the curvature vanishes at the minimum of HS26
    assert_close(found.x, problem.minimum, f"{call}.x", "the minimum", atol=atol)
    assert_close(found.fun, problem.fun(found.x), f"{call}.fun", "the objective at x", rtol=1e-12)
    assert_close(found.violation, problem.violation(found.x), f"{call}.violation", "that at x", atol=1e-15)
    factors = Multipliers(found.equality_multipliers, found.inequality_multipliers)
    verdict = certify(problem, found.x, factors, tol=1e-6)
    assert not verdict.failures, f"{call} with its multipliers: kkt.certify finds {verdict.failures}"


def test_minimize_agrees_with_scipy_and_needs_as_few_evaluations():
    for name in ("HS14", "HS40"):
        problem = problems()[name]
        sides = {"type": "ineq", "fun": lambda x, p=problem: -p.inequalities(x)}
        equal = {"type": "eq", "fun": problem.equalities, "jac": problem.equality_jacobian}
        both = [equal, *([sides] if name == "HS14" else [])]
        peer = scipy_minimize(
            problem.fun, problem.start, jac=problem.grad, method="SLSQP", constraints=both, options={"ftol": 1e-12}
        )
        assert_close(solved(name).x, peer.x, f"minimize({name}).x", "SLSQP's", atol=1e-5)
        assert solved(name).nfev <= 2 * peer.nfev, (
            f"minimize({name}) evaluated {solved(name).nfev} points, not {peer.nfev}"
        )


def test_minimize_converges_superlinearly():
    path = solved("HS40", record_path=True, tol=1e-10).path
    errors = np.linalg.norm(path - problems()["HS40"].minimum, axis=1)
    ratios = errors[1:] / errors[:-1]
    assert len(path) == solved("HS40", tol=1e-10).nit + 1, f"the path has {len(path)} points"
    assert_close(path[0], problems()["HS40"].start, "minimize(HS40).path[0]", "the start")
    assert ratios[-2:].max() < 0.05 and len(errors) <= 12, f"the last errors of minimize(HS40) are {errors[-4:]}"


def test_minimize_manages_with_superfluous_constraints():
    found = minimize(redundant(), max_iter=20)
    assert found.success, f"minimize(redundant()) says {found.message!r}"
    assert_close(found.x, [1.0, 1.0], "minimize(redundant()).x", "the minimum", atol=1e-6)


def test_minimize_reports_what_has_no_solution():
    found = minimize(infeasible(), [0.75, 0.66], max_iter=15)
    assert found.message == INFEASIBLE and not found.success, f"minimize(infeasible()) says {found.message!r}"
    # |x1 + x2 - 3| + max(0, |x|^2 - 1) is least at (1, 1) / sqrt(2)
    assert_close(
        found.x, [np.sqrt(0.5)] * 2, "minimize(infeasible(), (0.75, 0.66)).x", "the least violation", atol=1e-2
    )
    found = minimize(unbounded(), max_iter=30)
    assert found.message == DIVERGED and not found.success, f"minimize(unbounded()) says {found.message!r}"


def test_minimize_claims_no_success_at_a_cusp():
    found = minimize(cusp(), max_iter=6)
    assert not found.success and found.message in (STALLED, OUT_OF_STEPS), f"minimize(cusp()) says {found.message!r}"
    assert abs(found.x - [1, 0]).max() < 0.1, f"minimize(cusp()) ended at {found.x}, far from (1, 0)"


def test_minimize_gets_over_tangents_that_exclude_each_other():
    # x^2 >= 1 and x <= 2 - x^2 from 0.01: the tangents want x >= 50 and x <= 2
    problem = replace(
        circle(0.0),
        fun=lambda x: float((x[0] - 3) ** 2),
        grad=lambda x: np.array([2 * (x[0] - 3)]),
        equalities=lambda x: NONE,
        equality_jacobian=lambda x: np.zeros((0, 1)),
        inequalities=lambda x: np.array([1 - x[0] ** 2, x[0] ** 2 + x[0] - 2.5]),
        inequality_jacobian=lambda x: np.array([[-2 * x[0]], [2 * x[0] + 1]]),
        start=np.array([0.01]),
    )
    assert solve_subproblem(look(problem, [0.01]), np.eye(1), 10.0).elastic
    found = minimize(problem, max_iter=30)
    assert found.success, f"minimize from excluding tangents says {found.message!r}, at {found.x}"
    assert_close(found.x, [(np.sqrt(11) - 1) / 2], "minimize from excluding tangents", "x^2 + x = 2.5", atol=1e-6)


def test_minimize_raises_the_price_of_violations_in_elastic_mode():
    # x <= -1 and x >= 1 exclude each other; beyond them a violation must cost more than the 30 that the objective gains
    line = replace(
        circle(0.0),
        fun=lambda x: float(30 * x[0]),
        grad=lambda x: np.array([30.0]),
        equalities=lambda x: NONE,
        equality_jacobian=lambda x: np.zeros((0, 1)),
        inequalities=lambda x: np.array([x[0] + 1, 1 - x[0]]),
        inequality_jacobian=lambda x: np.array([[1.0], [-1.0]]),
        start=np.array([0.3]),
    )
    found = minimize(line, max_iter=10, record_path=True)
    assert found.message == INFEASIBLE, f"minimize(30 x, -1 >= x >= 1) says {found.message!r}, after {found.path}"
    assert_close(found.path[1], [-19.7], "its first step, at the price 10", "slope 30 - 10, curvature 1", rtol=1e-6)
    assert_close(found.path[2], [-1.0], "its second step, at the price 100", "the wall x <= -1", rtol=1e-4)


def test_minimize_ends_at_the_limit_of_steps_unless_it_has_just_converged():
    nit = solved("HS40").nit
    last, short = minimize(problems()["HS40"], max_iter=nit), minimize(problems()["HS40"], max_iter=nit - 1)
    assert last.success and last.nit == nit, f"with max_iter={nit} minimize says {last.message!r} after {last.nit}"
    assert not short.success and short.message == OUT_OF_STEPS and short.nit == nit - 1, f"it says {short.message!r}"


def test_minimize_counts_evaluations_and_takes_another_start():
    counted = []

    def fun(x):
        counted.append(x)
        return problems()["HS6"].fun(x)

    problem, start = replace(problems()["HS6"], fun=fun), np.array([0.4, 0.7])
    kept = start.copy()
    found = minimize(problem, start, max_iter=40)
    assert_close(found.x, [1.0, 1.0], "minimize(HS6, (0.4, 0.7)).x", "the minimum", atol=1e-6)
    assert found.nfev == len(counted) - 1, (
        f"fun was called {len(counted)} times, once for the report; nfev: {found.nfev}"
    )
    assert_close(start, kept, "the start afterwards", "its old value")
    assert found.path is None, f"without record_path the path is {found.path}"


@pytest.mark.parametrize("name", ["fun", "grad", "inequalities", "equality_jacobian"])
def test_minimize_lets_errors_of_the_users_functions_through(name):
    problem = problems()["HS14"]

    def broken(x):
        if np.array_equal(x, problem.start):
            return getattr(problem, name)(x)
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        pytest.fail(f"{name} raised an error, and minimize returned {minimize(replace(problem, **{name: broken}))}")


# what is given


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "start", "options"),
    [
        ("start", [np.nan, 1.0], {}),
        ("tol", [1.0, 1.0], {"tol": -1.0}),
        ("max_iter", [1.0, 1.0], {"max_iter": 0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, start, options):
    with pytest.raises(ValueError, match=name):
        minimize(problems()["HS14"], start, **options)
