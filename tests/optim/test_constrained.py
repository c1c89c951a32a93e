"""The constrained problems that the optimisers share are what they say."""

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from mlpath.optim import sqp
from mlpath.optim._constrained import cusp, hock_schittkowski, infeasible, redundant, unbounded
from mlpath.testing import assert_close

SOLVED = hock_schittkowski()
PROBLEMS = SOLVED | {"cusp": cusp(), "redundant": redundant(), "infeasible": infeasible(), "unbounded": unbounded()}

# as printed in the collection
PUBLISHED = {"HS6": 0, "HS12": -30, "HS14": 9 - 2.875 * np.sqrt(7), "HS21": -99.96, "HS24": -1, "HS26": 0, "HS28": 0}
PUBLISHED |= {"HS35": 1 / 9, "HS39": -1, "HS40": -0.25, "HS42": 28 - 10 * np.sqrt(2), "HS43": -44, "HS48": 0, "HS51": 0}
PUBLISHED |= {"HS71": 17.0140173, "HS76": -4.681818181, "HS100": 680.6300573}


def _constraints(p):
    inequalities = {"type": "ineq", "fun": lambda x: -p.inequalities(x), "jac": lambda x: -p.inequality_jacobian(x)}
    equalities = {"type": "eq", "fun": p.equalities, "jac": p.equality_jacobian}
    return [c for c, g in ((inequalities, p.inequalities), (equalities, p.equalities)) if len(g(p.start))]


@pytest.mark.parametrize("name", PROBLEMS)
def test_derivatives_agree_with_central_differences(name):
    p = PROBLEMS[name]
    x, moves = p.start + 0.1, 1e-5 * np.eye(len(p.start))
    nu, lam = np.cos(np.arange(len(p.equalities(x)))), np.sin(1 + np.arange(len(p.inequalities(x))))

    def slopes(x):
        return p.grad(x) + nu @ p.equality_jacobian(x) + lam @ p.inequality_jacobian(x)

    for what, of, derivative in (
        ("grad", p.fun, p.grad(x)),
        ("hess", p.grad, p.hess(x)),
        ("equality_jacobian", p.equalities, p.equality_jacobian(x).T),
        ("inequality_jacobian", p.inequalities, p.inequality_jacobian(x).T),
        ("lagrangian_hess", slopes, p.lagrangian_hess(x, nu, lam)),
    ):
        differences = np.array([(of(x + move) - of(x - move)) / 2e-5 for move in moves])
        assert_close(derivative, differences, f"{name}.{what}", "central differences", rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", SOLVED)
def test_minima_are_feasible_stationary_and_as_published(name):
    p = SOLVED[name]
    assert_close(p.fun(p.minimum), PUBLISHED[name], f"{name}.fun(minimum)", "the collection", rtol=1e-8, atol=1e-8)
    assert p.violation(p.minimum) < 1e-13, f"{name}.minimum violates a constraint by {p.violation(p.minimum)}"
    active = p.inequality_jacobian(p.minimum)[p.inequalities(p.minimum) > -1e-9]
    equalities = p.equality_jacobian(p.minimum)
    # nu is the difference of two non-negative vectors, so that one non-negative least-squares problem finds all
    _, left = nnls(np.vstack([equalities, -equalities, active]).T, -p.grad(p.minimum))
    assert left < 1e-7, f"{name}: no multipliers make the Lagrangian stationary at the minimum; {left} is left"


@pytest.mark.parametrize("name", SOLVED)
def test_scipy_finds_nothing_better(name):
    p = SOLVED[name]
    options = {"ftol": 1e-14, "maxiter": 1000}
    found = minimize(p.fun, p.start, jac=p.grad, constraints=_constraints(p), method="SLSQP", options=options)
    assert_close(found.fun, p.fun(p.minimum), f"SLSQP on {name}", "the value at the minimum", rtol=1e-8, atol=1e-8)


def test_the_cusp_has_no_multipliers_and_the_redundant_one_many():
    p = cusp()
    gradients = p.inequality_jacobian(p.minimum)
    assert_close(p.inequalities(p.minimum), [0, 0], "cusp().inequalities(minimum)", "both active", atol=1e-15)
    assert np.linalg.matrix_rank(gradients) == 1, f"the gradients at the cusp should be opposite, got {gradients}"
    assert abs(p.grad(p.minimum)[0]) == 1, "the objective's gradient has no part in the span of (0, 1)"
    p = redundant()
    assert (p.inequalities(p.minimum) == 0).sum() == 3, "three inequalities should be active in the plane"
    _, left = nnls(p.inequality_jacobian(p.minimum).T, -p.grad(p.minimum))
    assert left < 1e-12, f"no multipliers at the minimum of redundant(): {left} is left"


def test_the_infeasible_and_the_unbounded_are():
    p = infeasible()
    angles = np.linspace(0, 2 * np.pi, 400)
    sums = np.cos(angles) + np.sin(angles)  # x1 + x2 on the disc's edge; within, it is smaller
    assert sums.max() < 3 and np.isnan(p.minimum).all(), "a point of the disc lies on the line"
    p = unbounded()
    far = np.array([1e6, 1e12])
    assert p.violation(far) == 0 and p.fun(far) < -1e12, f"violation {p.violation(far)}, value {p.fun(far)}"


@pytest.mark.parametrize("name", SOLVED)
def test_sequential_quadratic_programming_solves_all_and_agrees_with_slsqp(name):
    p = SOLVED[name]
    result = sqp.minimize(p, tol=1e-7)
    assert result.success, f"{name}: {result.message}"
    peer = minimize(p.fun, p.start, jac=p.grad, constraints=_constraints(p), method="SLSQP", options={"ftol": 1e-12})
    value, scale = p.fun(p.minimum), 1 + abs(p.fun(p.minimum))
    assert abs(result.fun - value) <= 1e-6 * scale, f"{name}: {result.fun}, published {value}"
    assert abs(result.fun - peer.fun) <= 1e-5 * scale, f"{name}: {result.fun}, SLSQP {peer.fun}"
    assert result.violation <= 1e-6
