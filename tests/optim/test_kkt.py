"""Shared tests of optim/kkt: run on the reference, and on the learner's file.

Everything is deterministic. The systems are small and well conditioned: a tolerance of 1e-9 leaves room for every way of
solving them.
"""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, cusp, hock_schittkowski, infeasible, redundant
from mlpath.optim.kkt import (
    Local,
    Multipliers,
    active_set,
    certify,
    constraint_qualification,
    estimate_multipliers,
    fritz_john,
    gap_bound,
    kkt_residuals,
    look,
    second_order,
)
from mlpath.testing import assert_close

CONVEX = ("HS12", "HS21", "HS28", "HS35", "HS43", "HS48", "HS51", "HS76")


@cache
def problems():
    return hock_schittkowski()


def local(gradient, equality=(), inequality=(), value=0.0):
    """What is known at a point: constraints are pairs of a value and a gradient."""
    gradient = np.array(gradient, dtype=float)
    parts = []
    for constraints in (equality, inequality):
        parts.append(np.array([c for c, _ in constraints], dtype=float))
        parts.append(np.array([row for _, row in constraints], dtype=float).reshape(-1, len(gradient)))
    return Local(float(value), gradient, *parts)


def multipliers(equality=(), inequality=()):
    return Multipliers(np.array(equality, dtype=float), np.array(inequality, dtype=float))


def mask(*active):
    return np.array(active, dtype=bool)


def everything(at):
    return np.ones(len(at.inequalities), dtype=bool)


def at_random(dim, n_equalities, n_inequalities, seed):
    rng = np.random.default_rng(seed)
    return Local(
        1.7,
        rng.standard_normal(dim),
        np.zeros(n_equalities),
        rng.standard_normal((n_equalities, dim)),
        np.zeros(n_inequalities),
        rng.standard_normal((n_inequalities, dim)),
    )


def check_residuals(found, call, **expected):
    for name in ("stationarity", "feasibility", "sign", "complementarity"):
        assert_close(getattr(found, name), expected.get(name, 0.0), f"{call}.{name}", "equation (3)", atol=1e-12)


# kkt_residuals


def test_kkt_residuals_measure_all_four_conditions():
    at = local(
        [1.37, -3.2, 0.85],
        equality=[(0.147, [0.42, 2.1, -0.3]), (-0.268, [0.31, -0.24, 0.77])],
        inequality=[(0.564, [1.5, -2.4, 0.6]), (-1.23, [0.9, 0.35, -0.2]), (-0.417, [-5.2, 1.1, 3.3])],
        value=-4.6,
    )
    found = kkt_residuals(at, multipliers([0.73, -1.1], [0.58, -0.41, 1.36]))
    slope = np.array([1.37, -3.2, 0.85]) + 0.73 * np.array([0.42, 2.1, -0.3]) - 1.1 * np.array([0.31, -0.24, 0.77])
    slope += 0.58 * np.array([1.5, -2.4, 0.6]) - 0.41 * np.array([0.9, 0.35, -0.2]) + 1.36 * np.array([-5.2, 1.1, 3.3])
    check_residuals(
        found,
        "kkt_residuals with two equalities and three inequalities",
        stationarity=abs(slope).max() / 3.2,
        feasibility=0.268,  # 0.147 / 2.1 and 0.564 / 2.4 are less
        sign=0.41 / 3.2,
        complementarity=1.36 * 0.417 / 4.6,
    )


@pytest.mark.parametrize(
    ("what", "at", "factors", "expected"),
    [
        ("a steep inequality", local([0.3], inequality=[(7.3, [25.0])]), ([], [0.0]), {"feasibility": 7.3 / 25}),
        ("a steep equality", local([0.3], equality=[(-7.3, [25.0])]), ([0.0], []), {"feasibility": 7.3 / 25}),
        ("a flat inequality", local([0.3], inequality=[(0.73, [0.05])]), ([], [0.0]), {"feasibility": 0.73}),
    ],
)
def test_kkt_residuals_take_violations_as_distances(what, at, factors, expected):
    found = kkt_residuals(at, multipliers(*factors))
    check_residuals(found, f"kkt_residuals at {what}, f' = 0.3,", stationarity=0.3, **expected)


@pytest.mark.parametrize(
    ("gradient", "slope", "factor", "sign"), [(31.0, 8.0, -0.46, 0.46 * 8 / 31), (0.5, 0.2, -0.46, 0.46)]
)
def test_kkt_residuals_take_multipliers_as_forces(gradient, slope, factor, sign):
    found = kkt_residuals(local([gradient], inequality=[(0.0, [slope])]), multipliers([], [factor]))
    expected = {"stationarity": abs(gradient + factor * slope) / max(1, gradient), "sign": sign}
    check_residuals(found, f"kkt_residuals of f' = {gradient}, g' = {slope}, lambda = {factor}", **expected)


def test_kkt_residuals_take_products_as_amounts_of_the_objective():
    for value, size in ((-37.0, 37.0), (0.2, 1.0)):
        at = local([0.0, 0.0], inequality=[(-0.61, [0.0, 0.0]), (-0.2, [0.0, 0.0])], value=value)
        found = kkt_residuals(at, multipliers([], [1.9, 3.3]))
        check_residuals(found, f"kkt_residuals of f = {value}", complementarity=1.9 * 0.61 / size)


def test_kkt_residuals_count_a_multiplier_on_a_violated_inequality():
    found = kkt_residuals(local([0.0], inequality=[(0.35, [0.0])]), multipliers([], [1.7]))
    check_residuals(found, "kkt_residuals of g = 0.35, lambda = 1.7", feasibility=0.35, complementarity=1.7 * 0.35)


def test_kkt_residuals_without_constraints_are_those_of_the_gradient():
    check_residuals(kkt_residuals(local([0.3, -0.7]), multipliers()), "kkt_residuals of (0.3, -0.7)", stationarity=0.7)
    check_residuals(kkt_residuals(local([3.0, -8.0]), multipliers()), "kkt_residuals of (3, -8)", stationarity=1.0)


@pytest.mark.given
@pytest.mark.parametrize("wrong", [multipliers([1.0], [1.0]), multipliers([], []), multipliers([], [np.nan])])
def test_kkt_residuals_refuse_multipliers_that_do_not_fit(wrong):
    with pytest.raises(ValueError, match="multipliers"):
        kkt_residuals(local([1.0], inequality=[(0.0, [1.0])]), wrong)


# active_set


def test_active_set_measures_distances():
    values = [-1.9e-6, -2.1e-6, -0.9e-6, -1.1e-6, 0.0, 4.2, -3.0]
    slopes = [[0.1, -2.0], [2.0, 0.5], [0.3, 0.1], [0.3, 0.0], [1.0, 1.0], [0.0, 1.0], [50.0, 0.0]]
    found = active_set(local([1.0, 1.0], inequality=list(zip(values, slopes))))
    expected = [True, False, True, False, True, True, False]
    assert found.tolist() == expected, (
        f"active_set of g = {values} with slopes of the sizes 2, 2, 0.3, 0.3, 1, 1, 50 returned {found.tolist()}; "
        f"at most 1e-6 times max(1, size) from the boundary are {expected}"
    )


def test_active_set_takes_a_tolerance():
    at = local([1.0], inequality=[(-0.04, [0.5]), (-0.06, [0.5]), (-0.06, [3.0]), (-0.05, [0.5])])
    found = active_set(at, tol=0.05)
    assert found.tolist() == [True, False, True, True], f"active_set with tol=0.05 returned {found.tolist()}"


def test_active_set_may_be_empty():
    found = active_set(local([1.0, 2.0]))
    assert found.shape == (0,) and found.dtype == bool, f"active_set without inequalities returned {found!r}"


# estimate_multipliers


def test_estimate_multipliers_balances_the_gradient_where_that_is_possible():
    at = at_random(6, 2, 3, seed=1)
    nu, lam = np.array([-1.83, 0.62]), np.array([0.57, 0.0, 2.31])
    gradient = -at.equality_jacobian.T @ nu - at.inequality_jacobian.T @ lam
    at = Local(**{**vars(at), "gradient": gradient})
    found = estimate_multipliers(at, mask(True, False, True))
    assert_close(found.equality, nu, "estimate_multipliers(...).equality", "equation (2)")
    assert_close(found.inequality, lam, "estimate_multipliers(...).inequality", "equation (2)", atol=1e-12)


def test_estimate_multipliers_of_one_inequality():
    for sign in (1, -1):
        at = local([1.37, -0.62], inequality=[(0.0, [0.73 * sign, 1.91 * sign])])
        found = estimate_multipliers(at, mask(True))
        best = -(1.37 * 0.73 - 0.62 * 1.91) / (0.73**2 + 1.91**2) * sign
        assert_close(found.inequality, [max(best, 0.0)], f"estimate_multipliers with the row times {sign}", "(4)")


def test_estimate_multipliers_of_one_inequality_beside_an_equality():
    at = local([1.37, -0.62, 2.2], [(0.0, [0.4, 1.1, -0.5])], [(0.0, [-0.73, 0.25, -1.6])])
    found = estimate_multipliers(at, mask(True))
    rows = np.array([[0.4, 1.1, -0.5], [-0.73, 0.25, -1.6]])
    nu, lam = np.linalg.lstsq(rows.T, -np.array([1.37, -0.62, 2.2]))[0]
    assert lam > 0
    assert_close(found.equality, [nu], "estimate_multipliers(...).equality", "least squares (4)")
    assert_close(found.inequality, [lam], "estimate_multipliers(...).inequality", "least squares (4)")


@pytest.mark.parametrize(("dim", "n_equalities", "n_inequalities"), [(5, 0, 4), (7, 2, 6), (12, 4, 3), (4, 1, 9)])
def test_estimate_multipliers_solves_equation_4(dim, n_equalities, n_inequalities):
    at = at_random(dim, n_equalities, n_inequalities, seed=dim)
    found = estimate_multipliers(at, everything(at))
    call = f"estimate_multipliers with {n_equalities} equalities and {n_inequalities} inequalities in {dim} dimensions"
    rest = at.gradient + at.equality_jacobian.T @ found.equality + at.inequality_jacobian.T @ found.inequality
    forces = at.inequality_jacobian @ rest
    assert (found.inequality >= 0).all(), f"{call} returned negative multipliers: {found.inequality}"
    assert_close(at.equality_jacobian @ rest, np.zeros(n_equalities), f"A times what {call} leaves", "(4)", atol=1e-9)
    assert (forces >= -1e-9).all(), f"larger multipliers would leave less than {call}: G times the rest is {forces}"
    zero = np.zeros(n_inequalities)
    assert_close(found.inequality * forces, zero, f"lambda times G times what {call} leaves", "(4)", atol=1e-9)


def test_estimate_multipliers_leaves_inactive_inequalities_alone():
    at = at_random(5, 1, 3, seed=9)
    found = estimate_multipliers(at, mask(False, True, False))
    assert found.inequality[0] == 0 and found.inequality[2] == 0, f"multipliers of inactive inequalities: {found}"
    alone = Local(**{**vars(at), "inequalities": np.zeros(1), "inequality_jacobian": at.inequality_jacobian[1:2]})
    expected = estimate_multipliers(alone, mask(True))
    assert_close(found.inequality[1], expected.inequality[0], "the active one's", "what it is without the others")
    assert_close(found.equality, expected.equality, "the equality's", "what it is without the others")


def test_estimate_multipliers_without_active_inequalities_fits_the_equalities():
    at = local([1.37, -0.62], equality=[(0.0, [0.73, 1.91])], inequality=[(-1.0, [1.0, 1.0])])
    found = estimate_multipliers(at, mask(False))
    best = -(1.37 * 0.73 - 0.62 * 1.91) / (0.73**2 + 1.91**2)
    assert_close(found, multipliers([best], [0.0]), "estimate_multipliers without active inequalities", "(5)")
    assert_close(estimate_multipliers(local([1.0, 2.0]), mask()), multipliers(), "estimate_multipliers of none")


def test_estimate_multipliers_accepts_dependent_equalities():
    row = np.array([0.73, 1.91, -0.4])
    at = local(-2.6 * row, equality=[(0.0, row), (0.0, 2 * row)])
    found = estimate_multipliers(at, mask())
    assert_close(found.equality @ [1, 2], 2.6, "nu_1 + 2 nu_2 where the second row is twice the first", "(2)")


# constraint_qualification


@pytest.mark.parametrize(
    ("what", "equality", "inequality", "expected"),
    [
        ("nothing active", [], [], "LICQ"),
        ("independent rows", [[1.2, 0.3, 0.0]], [[0.4, -0.9, 1.1]], "LICQ"),
        ("rows that differ by 1e-6", [], [[1.0, 2.0, 3.0], [1.0, 2.0, 3.000003]], "LICQ"),
        ("very long and very short rows", [[1e-30, 0, 0]], [[0, 1e9, 0], [1e-30, 1e-30, 1e-30]], "LICQ"),
        ("a row twice", [], [[1.2, 0.3, 0.0], [2.4, 0.6, 0.0]], "MFCQ"),
        ("a row twice, very long and short", [], [[1.2e9, 0.3e9, 0.0], [2.4e-9, 0.6e-9, 0.0]], "MFCQ"),
        ("four planes through a point", [], [[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]], "MFCQ"),
        ("opposite rows", [], [[1.2, 0.3, 0.0], [-2.4, -0.6, 0.0]], "none"),
        ("a row of zeros", [], [[0.0, 0.0, 0.0]], "none"),
        ("rows with a positive combination of zero", [], [[1, 0, 0], [0, 1, 0], [-1, -2, 0]], "none"),
        ("an equality's row twice", [[1.2, 0.3, 0.0], [2.4, 0.6, 0.0]], [], "none"),
        ("an equality twice beside an inequality", [[1, 2, 0], [1, 2, 0]], [[0.0, 0.0, 1.0]], "none"),
        ("an inequality along an equality", [[1.2, 0.3, 0.0]], [[2.4, 0.6, 0.0]], "none"),
        ("two alike beside an equality", [[1.2, 0.3, 0.0]], [[0.0, 0.5, 1.0], [0.0, 1.0, 2.0]], "MFCQ"),
        ("two opposite but for an equality", [[1.0, 0, 0]], [[1.0, 1, 0], [1.0, -1, 0]], "none"),
        ("opposite along an equality", [[1.0, 0, 0]], [[-1, 0.5, 0], [-1, -0.5, 0]], "none"),
        ("opposite, if not for a third dimension", [], [[1, 0, 0.1], [-1, 0, 0.1], [0, 0, 1]], "MFCQ"),
    ],
)
def test_constraint_qualification_by_equation_6(what, equality, inequality, expected):
    at = local([1.0, 1.0, 1.0], [(0.0, row) for row in equality], [(0.0, row) for row in inequality])
    found = constraint_qualification(at, everything(at))
    assert found == expected, f"constraint_qualification with {what} returned {found!r}, expected {expected!r}"


def test_constraint_qualification_minds_the_active_inequalities_only():
    at = local([1.0, 0.0], inequality=[(0.0, [0.0, 1.0]), (-3.0, [0.0, -1.0]), (0.0, [1.0, 0.4])])
    found = constraint_qualification(at, mask(True, False, True))
    assert found == "LICQ", f"without the inactive opposite row the gradients are independent; got {found!r}"


# fritz_john


def test_fritz_john_at_a_point_with_multipliers_divides_them_by_their_sum():
    at = local([-1.13, -2.77], inequality=[(0.0, [0.6, 0.2]), (0.0, [0.1, 1.1])])
    lam = np.linalg.solve(at.inequality_jacobian.T, -at.gradient)
    objective, found, residual = fritz_john(at, mask(True, True))
    assert_close(objective, 1 / (1 + lam.sum()), "lambda_0 of fritz_john", "(7), with the sum 1", rtol=1e-8)
    assert_close(found.inequality, lam / (1 + lam.sum()), "lambda of fritz_john", "(7), with the sum 1", rtol=1e-8)
    assert_close(residual, 0.0, "the residual of fritz_john", "(7)", atol=1e-9)


def test_fritz_john_with_equalities_and_inactive_inequalities():
    at = at_random(5, 2, 3, seed=4)
    nu, lam = np.array([-1.83, 0.62]), np.array([0.57, 0.0, 2.31])
    at = Local(**{**vars(at), "gradient": -at.equality_jacobian.T @ nu - at.inequality_jacobian.T @ lam})
    objective, found, residual = fritz_john(at, mask(True, False, True))
    total = 1 + lam.sum()
    assert_close(
        objective, 1 / total, "lambda_0 of fritz_john", "(7): the equalities do not count in the sum", rtol=1e-8
    )
    assert_close(found, multipliers(nu / total, lam / total), "the others", "(7)", rtol=1e-8, atol=1e-10)
    assert_close(residual, 0.0, "the residual of fritz_john", "(7)", atol=1e-9)


def test_fritz_john_needs_no_objective_at_a_cusp():
    at = look(cusp(), [1.0, 0.0])
    objective, found, residual = fritz_john(at, mask(True, True))
    assert_close(objective, 0.0, "lambda_0 of fritz_john at the cusp", "(7)", atol=1e-9)
    assert_close(found.inequality, [0.5, 0.5], "lambda of fritz_john at the cusp", "opposite gradients", rtol=1e-8)
    assert_close(residual, 0.0, "the residual of fritz_john at the cusp", "(7)", atol=1e-9)


def test_fritz_john_says_how_far_a_point_is_from_any_multipliers():
    at = local([1.37, -0.62], inequality=[(0.0, [0.73, 1.91])])
    objective, found, residual = fritz_john(at, mask(True))
    # the least squares of (8) by its normal equations
    rows = np.array([[1.37, 0.73], [-0.62, 1.91], [1.0, 1.0]])
    w = np.linalg.lstsq(rows, [0, 0, 1.0])[0]
    w /= w.sum()
    assert_close(objective, w[0], "lambda_0 of fritz_john where (7) cannot hold", "equation (8)", rtol=1e-8)
    assert_close(found.inequality, w[1:], "its lambda", "equation (8), divided by the sum", rtol=1e-8)
    assert_close(residual, abs(rows[:2] @ w).max(), "its residual", "the left side of (7)", rtol=1e-8)
    assert_close(objective + found.inequality.sum(), 1.0, "the sum of the multipliers", "the docstring")


def test_fritz_john_without_constraints_is_about_the_gradient():
    objective, _, residual = fritz_john(local([0.45, -0.83]), mask())
    assert_close((objective, residual), (1.0, 0.83), "fritz_john without constraints", "(7)")


# second_order


@pytest.mark.parametrize(
    ("what", "diagonal", "equality", "inequality", "lam", "expected", "eigenvalues"),
    [
        ("no constraints", (1.7, 2.9, 0.4), [], [], [], "minimum", [0.4, 1.7, 2.9]),
        ("no constraints", (1.7, -2.9, 0.4), [], [], [], "saddle", [-2.9, 0.4, 1.7]),
        ("no constraints", (1.7, 0.0, 0.4), [], [], [], "undecided", [0.0, 0.4, 1.7]),
        ("an equality", (-1.7, 2.9, 0.4), [[1.3, 0, 0]], [], [], "minimum", [0.4, 2.9]),
        ("an inequality that presses", (-1.7, 2.9, 0.4), [], [[1.3, 0, 0]], [0.6], "minimum", [0.4, 2.9]),
        ("one that does not", (-1.7, 2.9, 0.4), [], [[1.3, 0, 0]], [0.0], "undecided", [-1.7, 0.4, 2.9]),
        ("one that does not", (1.7, 2.9, 0.4), [], [[1.3, 0, 0]], [0.0], "minimum", [0.4, 1.7, 2.9]),
        ("both kinds", (-1.7, 2.9, -0.4), [[0, 0, 2.0]], [[1.3, 0, 0]], [0.6], "minimum", [2.9]),
        ("both kinds", (-1.7, -2.9, 3.4), [[0, 0, 2.0]], [[1.3, 0, 0]], [0.6], "saddle", [-2.9]),
        ("three that press", (-1.7, -2.9, -0.4), [], np.eye(3).tolist(), [0.6, 0.7, 0.8], "minimum", []),
        ("a row twice", (1.7, -2.9, 0.4), [], [[1, 0, 0], [2.0, 0, 0]], [0.6, 0.7], "undecided", [-2.9, 0.4]),
        ("a row twice", (-1.7, 2.9, 0.4), [], [[1, 0, 0], [2.0, 0, 0]], [0.6, 0.7], "minimum", [0.4, 2.9]),
    ],
)
def test_second_order_looks_where_nothing_is_decided_yet(
    what, diagonal, equality, inequality, lam, expected, eigenvalues
):
    at = local([1.0, 1.0, 1.0], [(0.0, row) for row in equality], [(0.0, row) for row in inequality])
    nu = np.zeros(len(equality))
    verdict, found = second_order(at, np.diag(diagonal), multipliers(nu, lam), everything(at))
    call = f"second_order of diag{diagonal} with {what}, lambda = {lam},"
    assert_close(found, eigenvalues, f"the eigenvalues of {call}", "equation (9)", rtol=1e-9, atol=1e-12)
    assert verdict == expected, f"{call} says {verdict!r}, expected {expected!r}"


def test_second_order_multiplies_by_an_orthonormal_basis():
    at = local([1.0, 1.0, 1.0], [(0.0, [1.2, -0.7, 0.4])], [(0.0, [0.5, 2.3, -0.9])])
    hessian = np.array([[2.9, 0.4, -0.7], [0.4, -1.7, 0.3], [-0.7, 0.3, 3.3]])
    d = np.cross([1.2, -0.7, 0.4], [0.5, 2.3, -0.9])
    found = second_order(at, hessian, multipliers([0.3], [0.6]), mask(True))[1]
    assert_close(found, [d @ hessian @ d / (d @ d)], "the eigenvalue of second_order", "equation (9)")


def test_second_order_has_thresholds_with_scales():
    # lambda times the slope, 4e-6 * 3, against 1e-6 times the gradient, 10 or 13
    cases = ((10.0, 3.0, 4e-6, True), (13.0, 3.0, 4e-6, False), (-13.0, 3.0, 4e-6, False))
    for gradient, slope, lam, pressing in (*cases, (0.3, 0.5, 1.5e-6, True), (0.3, 0.5, 1e-6, False)):
        at = local([gradient, 0.0], inequality=[(0.0, [slope, 0.0])])
        found = second_order(at, np.diag([1.7, 2.9]), multipliers([], [lam]), mask(True))[1]
        expected = [2.9] if pressing else [1.7, 2.9]
        call = f"the eigenvalues with lambda = {lam}, f' = {gradient}, g' = {slope}"
        assert_close(found, expected, call, "the docstring: lambda r > 1e-6 s")
    at = local([1.0, 0.0])
    for least, tol, verdict in ((4e-6, 1e-6, "minimum"), (2e-6, 1e-6, "undecided"), (-2e-6, 1e-6, "undecided")):
        for size in (1.0, 1e-20):
            found = second_order(at, size * np.diag([least, 2.9]), multipliers(), mask(), tol=tol)[0]
            assert found == verdict, f"second_order of {size} diag({least}, 2.9), tol={tol}: {found!r}, not {verdict!r}"
    found = second_order(at, np.diag([-4e-6, 2.9]), multipliers(), mask())[0]
    assert found == "saddle", f"second_order of diag(-4e-6, 2.9) says {found!r}, expected 'saddle'"


def test_second_order_of_negative_and_of_no_second_derivatives():
    at = local([1.0, 0.0, 0.0], equality=[(0.0, [0.0, 0.0, 1.7])])
    found = second_order(at, np.diag([2.5e-6, 1.1, -2.9]), multipliers([0.0]), mask())[0]
    assert found == "undecided", f"2.5e-6 is zero beside -2.9, the largest entry in size; second_order says {found!r}"
    found = second_order(at, np.zeros((3, 3)), multipliers([0.0]), mask())[0]
    assert found == "undecided", f"without second derivatives second_order says {found!r}"


def test_second_order_minds_only_the_directions_of_the_rows():
    at = local([1.0, 1.0, 1.0], [(0.0, [1e-20, 0.0, 0.0])], [(0.0, [0.0, 4.2, 0.0])])
    found = second_order(at, np.diag([1.7, 2.9, 0.4]), multipliers([0.0], [0.6]), mask(True))[1]
    assert_close(found, [0.4], "the eigenvalues beside a very short row", "equation (9)", rtol=1e-9)


def test_second_order_ignores_inactive_inequalities_with_multipliers():
    at = local([1.0, 0.0], inequality=[(-2.0, [1.3, 0.0])])
    verdict, found = second_order(at, np.diag([-1.7, 2.9]), multipliers([], [0.6]), mask(False))
    assert_close(found, [-1.7, 2.9], "the eigenvalues beside an inactive inequality", "equation (9)")
    assert verdict == "saddle", f"second_order says {verdict!r}; nothing keeps the point from moving along -1.7"


# gap_bound


def test_gap_bound_of_equation_10():
    at = local(
        [1.37, -3.2],
        equality=[(0.147, [0.42, 2.1])],
        inequality=[(-0.564, [1.5, -2.4]), (0.23, [0.9, 0.35])],
        value=-4.6,
    )
    found = gap_bound(at, multipliers([-0.73], [0.58, 1.41]), radius=1.9)
    slope = [1.37 - 0.73 * 0.42 + 0.58 * 1.5 + 1.41 * 0.9, -3.2 - 0.73 * 2.1 - 0.58 * 2.4 + 1.41 * 0.35]
    expected = 0.73 * 0.147 + 0.58 * 0.564 - 1.41 * 0.23 + 1.9 * np.hypot(*slope)
    assert_close(found, expected, "gap_bound(at, ([-0.73], [0.58, 1.41]), 1.9)", "equation (10)")


@pytest.mark.parametrize("name", CONVEX)
def test_gap_bound_holds_on_convex_problems_and_is_sharp_at_their_minima(name):
    problem, rng = problems()[name], np.random.default_rng(7)
    best = problem.fun(problem.minimum)
    at = look(problem, problem.minimum)
    exact = estimate_multipliers(at, active_set(at))
    assert_close(gap_bound(at, exact, 3.0), 0.0, f"gap_bound at the minimum of {name}", "(10)", atol=1e-9)
    for x in problem.minimum + 0.3 * rng.standard_normal((6, len(problem.minimum))):
        for factors in (exact, multipliers(exact.equality + 0.4, exact.inequality * 0.7 + 0.2)):
            bound = gap_bound(look(problem, x), factors, float(np.linalg.norm(x - problem.minimum)))
            gap = problem.fun(x) - best
            assert gap <= bound + 1e-9, f"{name}: f exceeds its minimum by {gap} at {x}, and gap_bound says {bound}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "factors", "radius"),
    [
        ("multipliers", multipliers([], [-0.1]), 1.0),
        ("multipliers", multipliers([0.3], [0.1]), 1.0),
        ("radius", multipliers([], [0.1]), -1.0),
        ("radius", multipliers([], [0.1]), np.nan),
    ],
)
def test_gap_bound_refuses_what_proves_nothing(name, factors, radius):
    with pytest.raises(ValueError, match=name):
        gap_bound(local([1.0], inequality=[(0.0, [1.0])]), factors, radius)


# certify


def test_certify_accepts_the_minima_of_hock_and_schittkowski_and_nothing_near_them():
    rng = np.random.default_rng(3)
    for name, problem in problems().items():
        found = certify(problem, problem.minimum, tol=1e-5, active_tol=1e-5)
        expected = "undecided" if name == "HS26" else "minimum"
        assert found.verdict == expected and not found.failures, (
            f"certify at the minimum of {name} says {found.verdict!r}, {found.failures}; expected {expected!r}"
        )
        assert found.qualification == "LICQ", f"certify at the minimum of {name} finds {found.qualification!r}"
        move = rng.standard_normal(len(problem.minimum))
        off = certify(problem, problem.minimum + 0.02 * move / np.linalg.norm(move))
        assert off.failures and off.verdict in ("infeasible", "not a minimum"), (
            f"certify 0.02 from the minimum of {name} says {off.verdict!r}, {off.failures}"
        )


def test_certify_says_which_condition_fails():
    problem = problems()["HS12"]  # minimum (2, 3), multiplier 0.5, inequality 4 x1^2 + x2^2 <= 25
    gradient = np.array([2.0 - 3 - 7, 6 - 2 - 7])
    cases = [
        ((2.0, 3.0), [0.3], {"stationarity": abs(gradient + 0.3 * np.array([16, 6])).max() / 8}),
        ((2.0, 3.0), [-0.5], {"stationarity": abs(gradient - 0.5 * np.array([16, 6])).max() / 8, "sign": 0.5 * 16 / 8}),
        ((2.0, 3.0), [0.5], {}),
    ]
    for x, lam, expected in cases:
        found = certify(problem, x, multipliers([], lam))
        call = f"certify(HS12, {x}, lambda = {lam})"
        assert found.failures.keys() == expected.keys(), f"{call}.failures are {found.failures}, expected {expected}"
        assert_close(found.failures, expected, f"{call}.failures", "equation (3)")
        verdict = "not a minimum" if expected else "minimum"
        assert found.verdict == verdict, f"{call}.verdict is {found.verdict!r}, expected {verdict!r}"
        assert_close(found.multipliers.inequality, lam, f"{call}.multipliers.inequality", "what was handed over")
    outside = certify(problem, (2.5, 3.5))
    assert outside.verdict == "infeasible", f"certify(HS12, (2.5, 3.5)).verdict is {outside.verdict!r}"
    assert_close(outside.failures["feasibility"], 12.25 / 20, "its feasibility", "equation (3)")
    inside = certify(problem, (1.0, 2.0))
    assert inside.failures.keys() == {"stationarity"}, f"certify(HS12, (1, 2)).failures are {inside.failures}"
    assert inside.active.tolist() == [False], f"certify(HS12, (1, 2)).active is {inside.active}"
    assert not certify(problem, (1.0, 2.0), tol=1.0).failures, "a residual of 1.0 does not exceed tol=1.0"
    assert_close(inside.residuals.stationarity, 1.0, "certify(HS12, (1, 2)).residuals.stationarity", "|(-8, -4)| / 8")


def test_certify_notices_a_multiplier_on_an_inactive_inequality():
    problem = problems()["HS35"]
    found = certify(problem, problem.minimum, multipliers([], [2 / 9, 0.37, 0.0, 0.0]))
    expected = {"stationarity": 0.37, "complementarity": 0.37 * 4 / 3}
    assert_close(
        found.failures, expected, "certify(HS35, minimum, lambda_2 = 0.37).failures", "equation (3)", rtol=1e-6
    )


def test_certify_agrees_with_scipy():
    for name in ("HS14", "HS43", "HS76"):
        problem = problems()[name]
        constraints = [
            {"type": "eq", "fun": problem.equalities, "jac": problem.equality_jacobian},
            {
                "type": "ineq",
                "fun": lambda x, p=problem: -p.inequalities(x),
                "jac": lambda x, p=problem: -p.inequality_jacobian(x),
            },
        ]
        constraints = constraints[not len(problem.equalities(problem.start)) :]
        answer = scipy_minimize(
            problem.fun,
            problem.start,
            jac=problem.grad,
            method="SLSQP",
            constraints=constraints,
            options={"ftol": 1e-14},
        )
        found = certify(problem, answer.x, tol=1e-5, active_tol=1e-5)
        assert found.verdict == "minimum", f"certify at SLSQP's end of {name} says {found.verdict!r}, {found.failures}"
        if getattr(answer, "multipliers", None) is not None:
            ours = np.concatenate([-found.multipliers.equality, found.multipliers.inequality])
            assert_close(
                abs(ours), abs(answer.multipliers), f"the multipliers of {name}", "SLSQP", rtol=1e-3, atol=1e-4
            )


def test_certify_finds_a_maximum_and_a_saddle_on_the_boundary():
    # x1^2 + 3 x2^2 on the disc: outwards is uphill, so at the ends of the axes stationarity needs negative multipliers
    at_edge = ConstrainedProblem(
        **{
            **vars(problems()["HS12"]),
            "fun": lambda x: float(-(x[0] ** 2) - 3 * x[1] ** 2),
            "grad": lambda x: np.array([-2 * x[0], -6 * x[1]]),
            "inequalities": lambda x: np.array([x @ x - 1]),
            "inequality_jacobian": lambda x: 2 * x[None],
            "lagrangian_hess": lambda x, nu, lam: np.diag([-2.0 + 2 * lam[0], -6.0 + 2 * lam[0]]),
        }
    )
    for x, verdict, least in (([0.0, 1.0], "minimum", 4.0), ([1.0, 0.0], "saddle", -4.0), ([0.0, 0.0], "saddle", -6.0)):
        found = certify(at_edge, x)
        assert found.verdict == verdict, f"certify at {x} of -x1^2 - 3 x2^2 on the disc says {found.verdict!r}"
        assert_close(found.curvature[0], least, f"certify(..., {x}).curvature[0]", "equation (9)", rtol=1e-9)
    uphill = ConstrainedProblem(
        **{**vars(at_edge), "fun": lambda x: -at_edge.fun(x), "grad": lambda x: -at_edge.grad(x)}
    )
    found = certify(uphill, [0.0, 1.0])
    assert found.verdict == "not a minimum", f"certify at a maximum on the boundary says {found.verdict!r}"
    assert found.multipliers.inequality[0] == 0, f"its best multiplier is 0, not {found.multipliers.inequality}"


def test_certify_does_not_condemn_a_cusp():
    found = certify(cusp(), [1.0, 0.0])
    assert found.verdict == "unqualified", f"certify at the cusp says {found.verdict!r}, expected 'unqualified'"
    assert found.qualification == "none", f"certify at the cusp finds {found.qualification!r}"
    assert_close(found.failures, {"stationarity": 1.0}, "certify(cusp(), (1, 0)).failures", "equation (3)")
    off = certify(cusp(), [0.5, 0.0])
    assert off.verdict == "not a minimum", f"certify at (0.5, 0), where LICQ holds, says {off.verdict!r}"


def test_certify_manages_with_more_active_inequalities_than_needed():
    found = certify(redundant(), [1.0, 1.0])
    assert (found.verdict, found.qualification) == ("minimum", "MFCQ"), f"certify(redundant()) says {found}"
    assert found.active.tolist() == [True, True, True, False], f"active: {found.active}"


def test_certify_says_that_points_are_infeasible():
    for x in ([1.5, 1.5], [0.7, 0.7], [3.0, -2.0]):
        found = certify(infeasible(), x)
        assert found.verdict == "infeasible", f"certify(infeasible(), {x}) says {found.verdict!r}"


def test_certify_leaves_the_point_alone_and_hands_on_its_tolerances():
    problem, x = problems()["HS12"], np.array([2.0, 3.0 - 1e-4])
    kept = x.copy()
    loose, strict = certify(problem, x, tol=1e-2, active_tol=1e-3), certify(problem, x)
    assert loose.verdict == "minimum", f"certify with tol=1e-2 and active_tol=1e-3 says {loose.verdict!r}"
    assert strict.verdict == "not a minimum" and not strict.active.any(), f"certify says {strict.verdict!r}"
    mixed = certify(problem, x, tol=1e-2)
    assert not mixed.active.any(), (
        "6e-4 from its boundary, an inequality of slope 16 is not active with active_tol=1e-6"
    )
    assert_close(x, kept, "the point afterwards", "its old value")


def test_certify_hands_its_tolerance_to_the_second_derivatives():
    problem = problems()["HS28"]
    bent = ConstrainedProblem(**{**vars(problem), "lagrangian_hess": lambda x, nu, lam: np.diag([1.0, 1.0, -1e-4])})
    for tol, verdict in ((1e-6, "saddle"), (1e-2, "undecided")):
        found = certify(bent, problem.minimum, tol=tol).verdict
        flat = certify(
            ConstrainedProblem(
                **{
                    **vars(bent),
                    "equality_jacobian": lambda x: np.array([[1.0, 0.0, 0.0]]),
                    "grad": lambda x: np.zeros(3),
                }
            ),
            problem.minimum,
            tol=tol,
        ).verdict
        assert flat == verdict, f"certify with a curvature of -1e-4 and tol={tol} says {flat!r}, expected {verdict!r}"
        assert found != "infeasible"


def test_certify_lets_errors_of_the_users_functions_through():
    for name in ("fun", "grad", "equalities", "inequality_jacobian", "lagrangian_hess"):

        def broken(*args):
            raise ZeroDivisionError("mine")

        problem = ConstrainedProblem(**{**vars(problems()["HS14"]), name: broken})
        with pytest.raises(ZeroDivisionError, match="mine"):
            pytest.fail(f"{name} raised an error, and certify returned {certify(problem, [1.0, 1.0])}")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "x", "options"),
    [
        ("start", [np.nan, 1.0], {}),
        ("start", [[1.0, 1.0]], {}),
        ("tol", [1.0, 1.0], {"tol": 0.0}),
        ("active_tol", [1.0, 1.0], {"active_tol": -1.0}),
    ],
)
def test_certify_refuses_what_it_cannot_use(name, x, options):
    with pytest.raises(ValueError, match=name):
        certify(problems()["HS12"], x, **options)


@pytest.mark.given
def test_certify_refuses_functions_of_wrong_shape_or_value():
    problem = problems()["HS12"]
    for name, function in {
        "inequality_jacobian": lambda x: np.zeros((2, 2)),
        "equality_jacobian": lambda x: np.zeros((0, 3)),
        "grad": lambda x: np.zeros(3),
        "inequalities": lambda x: np.array([np.nan]),
    }.items():
        with pytest.raises(ValueError, match=name):
            certify(ConstrainedProblem(**{**vars(problem), name: function}), [2.0, 3.0])
