"""The linear and quadratic programs that the optimisers share are what they say."""

import numpy as np
import pytest
from scipy.optimize import linprog

from mlpath.optim._programs import (
    infeasible_programs,
    iris_pair,
    klee_minty,
    linear_programs,
    quadratic_programs,
    random_program,
    svm_dual,
    unbounded_programs,
)
from mlpath.optim.kkt import certify
from mlpath.testing import assert_close

RNG = np.random.default_rng(5)
LINEAR = linear_programs() | {"cube": klee_minty(7), "dense": random_program(30, 8, 60, rng=RNG)}
QUADRATIC = quadratic_programs() | {"dense QP": random_program(25, 5, 40, rank=12, rng=RNG)}
SOLVED = LINEAR | QUADRATIC

# as printed in the sources, or by hand
PUBLISHED = {
    "wyndor": -36,
    "transport": 153.675,
    "balanced": 153.675,
    "klee_minty": -125,
    "beale": -1.25,
    "pyramid": -2,
}
PUBLISHED |= {"free": 2, "chebyshev": -1, "HS21": 0.04, "HS35": 1 / 9 - 9, "HS76": -4.681818181, "projection": -0.5225}


def _linprog(p):
    A, b, G, h = (part if len(part) else None for part in (p.A, p.b, p.G, p.h))
    return linprog(p.q, G, h, A, b, bounds=(None, None))


@pytest.mark.parametrize("name", SOLVED)
def test_minima_satisfy_the_optimality_conditions(name):
    p = SOLVED[name]
    size = max(1.0, abs(p.minimum).max())
    assert p.violation(p.minimum) < 1e-12 * size, f"{name}.minimum violates a constraint by {p.violation(p.minimum)}"
    assert_close(p.fun(p.minimum), p.value, f"{name}.fun(minimum)", "its value", rtol=1e-14)
    assert np.linalg.eigvalsh(p.P)[0] > -1e-12 and (p.P == p.P.T).all(), f"{name}.P is not positive semidefinite"
    nu, lam = p.equality_multipliers, p.inequality_multipliers
    known = ~np.isnan([*nu, *lam])
    if known.all():
        slope = p.P @ p.minimum + p.q + p.A.T @ nu + p.G.T @ lam
        assert_close(slope, 0 * slope, f"{name}: the Lagrangian's gradient", "zero", atol=1e-10)
        products = lam * (p.G @ p.minimum - p.h)
        assert (lam >= -1e-15).all(), f"{name}: a multiplier of an inequality is negative, {lam}"
        assert_close(products, 0 * lam, f"{name}: lambda (G x - h)", "zero", atol=1e-10 * size)
        active = np.vstack([p.A, p.G[p.G @ p.minimum - p.h > -1e-9 * size]])
        assert np.linalg.matrix_rank(active) == len(active), f"{name}: the multipliers are given, but not unique"


@pytest.mark.parametrize("name", PUBLISHED)
def test_values_are_as_published(name):
    assert_close(SOLVED[name].value, PUBLISHED[name], f"{name}.value", "the source", rtol=1e-9)


@pytest.mark.parametrize("name", LINEAR)
def test_scipy_finds_the_same_values_and_multipliers(name):
    p = LINEAR[name]
    found = _linprog(p)
    assert_close(found.fun, p.value, f"linprog on {name}", "the value", rtol=1e-9)
    if p.unique:
        assert_close(found.x, p.minimum, f"linprog on {name}", "the minimum", rtol=1e-7, atol=1e-8)
    for ours, theirs in ((p.equality_multipliers, found.eqlin), (p.inequality_multipliers, found.ineqlin)):
        if not np.isnan(ours).any():
            assert_close(-theirs.marginals, ours, f"linprog's marginals on {name}", "minus ours", rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", QUADRATIC)
def test_quadratic_minima_are_certified(name):
    p = QUADRATIC[name]
    found = certify(p.constrained(), p.minimum)
    expected = "minimum" if p.unique else "undecided"
    assert found.verdict == expected, f"{name}: kkt.certify says {found.verdict}, {found.failures}, not {expected}"


def test_infeasible_ones_are_and_unbounded_ones_too():
    for name, p in infeasible_programs().items():
        status = linprog(0 * p.q, p.G, p.h, p.A if len(p.A) else None, p.b if len(p.b) else None, (None, None)).status
        assert status == 2 and p.value == np.inf, f"{name} has feasible points, or the value {p.value}"
    for name, p in unbounded_programs().items():
        # a ray: P d = 0, A d = 0, G d <= 0 and q'd = -1
        rows = np.vstack([p.P, p.A, p.q])
        G, h = (p.G, np.zeros(len(p.G))) if len(p.G) else (None, None)
        found = linprog(0 * p.q, G, h, rows, -np.eye(len(rows))[-1], (None, None))
        assert found.status == 0 and p.value == -np.inf, f"{name} does not fall for ever: {found.message}"
        start = linprog(
            0 * p.q,
            *((p.G, p.h) if len(p.G) else (None, None)),
            *((p.A, p.b) if len(p.A) else (None, None)),
            (None, None),
        )
        assert start.status == 0, f"{name} has no feasible points"


def test_the_support_vector_machine_has_its_kernel():
    features, signs = iris_pair()
    assert features.shape == (100, 4) and set(signs) == {1.0, -1.0}, f"{features.shape}, {set(signs)}"
    p = svm_dual(features[45:55], signs[45:55], 0.7)
    alpha = np.linspace(0.1, 0.65, 10)
    weights = (alpha * signs[45:55]) @ features[45:55]
    assert_close(p.fun(alpha), weights @ weights / 2 - alpha.sum(), "svm_dual(...).fun(alpha)", "the dual by hand")
    assert p.violation(np.full(10, 0.7)) < 1e-15 and p.violation(np.full(10, 0.9)) > 0.19, "0 <= alpha <= C"
