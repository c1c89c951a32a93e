"""Shared tests of optim/duality: run on the reference, and on the learner's file.

Everything is deterministic. Values by hand are exact to rounding; what a linear program returns is exact to 1e-7, HiGHS' tolerance.
"""

from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.svm import SVC

from mlpath.optim._programs import (
    infeasible_programs,
    iris_pair,
    linear_programs,
    program,
    quadratic_programs,
    random_program,
    svm_dual,
    unbounded_programs,
)
from mlpath.optim._shared import himmelblau
from mlpath.optim.duality import (
    above_chord,
    below_tangent,
    bends_down,
    best_bound,
    dual_function,
    dual_program,
    duality_gap,
    slater,
    support_vectors,
)
from mlpath.testing import assert_close

NONE = np.zeros(0)


@cache
def solved():
    rng = np.random.default_rng(11)
    dense = {"dense": random_program(12, 4, 20, rng=rng), "dense QP": random_program(10, 3, 15, rank=5, rng=rng)}
    every = linear_programs() | quadratic_programs() | dense
    return {
        name: p
        for name, p in every.items()
        if not np.isnan([*p.minimum, *p.equality_multipliers, *p.inequality_multipliers]).any()
    }


@cache
def ellipse():
    """A quadratic program with one equation and two inequalities in three dimensions, whose P has rank 2."""
    return program(
        [1.3, -0.4, 0.7],
        P=[[2.5, 0.5, 0], [0.5, 1.7, 0], [0, 0, 0]],
        A=[[1.2, -0.3, 2.1]],
        b=[0.83],
        G=[[0.4, 1.9, -0.6], [-1.1, 0.2, 0.9]],
        h=[1.45, 0.37],
    )


# dual_function


def test_dual_function_of_a_quadratic_program_by_hand():
    nu = np.array([-0.62])
    lam = np.array([0.35, 0.0])
    lam[1] = (1.2 * 0 - 0.7 + 0.62 * 2.1 + 0.35 * 0.6) / 0.9  # so that the third variable has no slope
    w = np.array([1.3 - 0.62 * 1.2 + 0.35 * 0.4 - 1.1 * lam[1], -0.4 + 0.62 * 0.3 + 0.35 * 1.9 + 0.2 * lam[1]])
    curved = np.array([[1.7, -0.5], [-0.5, 2.5]]) / (2.5 * 1.7 - 0.25)
    expected = -w @ curved @ w / 2 + 0.62 * 0.83 - 0.35 * 1.45 - 0.37 * lam[1]
    call = f"dual_function(ellipse, {nu}, {lam})"
    assert_close(dual_function(ellipse(), nu, lam), expected, call, "equation (3)", rtol=1e-12)


def test_dual_function_is_the_least_value_of_the_lagrangian():
    rng = np.random.default_rng(2)
    root = rng.standard_normal((6, 4))
    p = program(
        rng.standard_normal(4),
        P=root.T @ root,
        A=rng.standard_normal((2, 4)),
        b=[0.7, -1.9],
        G=rng.standard_normal((3, 4)),
        h=[1.1, 0.2, -0.6],
    )
    nu, lam = np.array([1.7, -0.45]), np.array([0.38, 0.0, 2.6])
    x = np.linalg.solve(p.P, -(p.q + p.A.T @ nu + p.G.T @ lam))
    expected = p.fun(x) + nu @ (p.A @ x - p.b) + lam @ (p.G @ x - p.h)
    assert_close(dual_function(p, nu, lam), expected, "dual_function of a strictly convex program", "equation (1)")


def test_dual_function_is_minus_infinity_where_the_lagrangian_falls_for_ever():
    for name, nu, lam in (("third", [-0.62], [0.35, 1.4]), ("no prices", [0.0], [0.0, 0.0])):
        found = dual_function(ellipse(), np.array(nu), np.array(lam))
        assert found == -np.inf, f"dual_function(ellipse, {nu}, {lam}) ({name} has a slope, no curvature): {found}"
    doors = linear_programs()["wyndor"]
    for lam, expected in (
        ([0.0, 1.5, 1.0, 0.0, 0.0], -36),
        ([0.0, 0.0, 4.0, 9.0, 3.0], -72),
        ([0, 1.5, 1.1, 0, 0], -np.inf),
    ):
        found = dual_function(doors, NONE, np.array(lam))
        assert_close(found, expected, f"dual_function(wyndor, [], {lam})", "equation (3), P = 0", rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-120, 1.0, 1e120])
def test_dual_function_judges_slopes_by_their_scale(scale):
    doors = linear_programs()["wyndor"]
    p = program(scale * doors.q, G=doors.G, h=doors.h)
    found = dual_function(p, NONE, scale * np.array([0.0, 1.5, 1.0, 0.0, 0.0]))
    assert_close(found, -36 * scale, f"dual_function of wyndor times {scale}", "equation (3)", rtol=1e-12)
    off = dual_function(p, NONE, scale * np.array([0.0, 1.5 + 7.5e-9, 1.0, 0.0, 0.0]))
    assert off == -np.inf, f"with a slope of 1.5e-8 {scale} dual_function says {off}, not -inf"
    near = dual_function(p, NONE, scale * np.array([0.0, 1.5 + 2e-9, 1.0, 0.0, 0.0]))
    assert_close(near, -36 * scale, f"with a slope of 4e-9 {scale}, below 1e-9 of 10 {scale}", "(3)", rtol=1e-8)


def test_dual_function_counts_prices_in_its_scale():
    p = program([0.5, 0.3], A=[[1.0, -2.0]], b=[1.0], G=[[1.0, -2.0]], h=[3.0], P=[[0, 0], [0, 0]])
    found = dual_function(p, np.array([-3e8 - 0.2]), np.array([3e8]))
    assert np.isfinite(found), f"a slope of 0.7 is below 1e-9 times the prices' 1.2e9; dual_function says {found}"
    found = dual_function(p, np.array([3e8 - 0.2]), np.array([-3e8]))
    assert np.isfinite(found), f"the size of a negative price counts as well; dual_function says {found}"
    assert dual_function(p, np.array([-0.2]), np.array([0.0])) == -np.inf, "a slope of 0.7 beside 0.7 is not zero"


def test_dual_function_takes_tiny_curvature_for_none():
    for tiny, expected in ((1e-13, -np.inf), (1e-9, -0.045 - 0.02 / 1e-9)):
        p = program([0.3, 0.2], P=np.diag([1.0, tiny]))
        found = dual_function(p, NONE, NONE)
        assert_close(found, expected, f"dual_function with P = diag(1, {tiny})", "the docstring: below SMALL is zero")


def test_dual_function_never_exceeds_a_feasible_value():
    rng = np.random.default_rng(4)
    p = random_program(6, 2, 9, rank=4, rng=rng)
    root = rng.standard_normal((8, 6))
    p = program(p.q, P=p.P + root.T @ root, A=p.A, b=p.b, G=p.G, h=p.h + 0.3, minimum=p.minimum)
    moves = rng.standard_normal((40, 6))
    moves = p.minimum + 0.1 * (moves - moves @ np.linalg.pinv(p.A) @ p.A)
    feasible = [x for x in moves if p.violation(x) < 1e-12]
    bounds = [dual_function(p, nu, lam) for nu, lam in zip(rng.standard_normal((40, 2)), rng.exponential(size=(40, 9)))]
    assert len(feasible) > 5 and max(bounds) <= min(p.fun(x) for x in feasible), (
        f"the largest of 40 bounds is {max(bounds)}, and the least of {len(feasible)} feasible values "
        f"{min(p.fun(x) for x in feasible)}: (2) forbids that"
    )


@pytest.mark.parametrize("name", solved())
def test_dual_function_reaches_the_minimum_with_its_multipliers(name):
    p = solved()[name]
    found = dual_function(p, p.equality_multipliers, p.inequality_multipliers)
    assert_close(found, p.value, f"dual_function({name}, its multipliers)", "strong duality", rtol=1e-9, atol=1e-12)
    gap = duality_gap(p, p.minimum, p.equality_multipliers, p.inequality_multipliers)
    assert_close(gap, 0.0, f"duality_gap({name}, its solution)", "strong duality", atol=1e-9 * max(1, abs(p.value)))


# dual_program


def _split(dual, p):
    """The blocks of the equations' matrix: R', A', G'."""
    n_root = len(dual.q) - len(p.b) - len(p.h)
    return n_root, np.split(dual.A, [n_root, n_root + len(p.b)], axis=1)


@pytest.mark.parametrize("name", ["ellipse", *solved()])
def test_dual_program_has_the_blocks_of_equation_4(name):
    p = ellipse() if name == "ellipse" else solved()[name]
    dual, call = dual_program(p), f"dual_program({name})"
    n_root, (root, equal, signed) = _split(dual, p)
    rank = np.linalg.matrix_rank(p.P)
    assert n_root == rank, f"{call} has {n_root} variables u, and P has rank {rank}"
    assert_close(root @ root.T, p.P, f"R'R in {call}.A", "P", rtol=1e-9, atol=1e-9)
    assert_close(equal, p.A.T, f"the columns of nu in {call}.A", "A transposed")
    assert_close(signed, p.G.T, f"the columns of lambda in {call}.A", "G transposed")
    assert_close(dual.b, -p.q, f"{call}.b", "-q in (4)")
    assert_close(dual.q, [*np.zeros(rank), *p.b, *p.h], f"{call}.q", "b and h in (4)")
    assert_close(dual.P, np.diag([1.0] * rank + [0.0] * (len(p.b) + len(p.h))), f"{call}.P", "u'u in (4)")
    assert_close(dual.G, np.hstack([np.zeros((len(p.h), rank + len(p.b))), -np.eye(len(p.h))]), f"{call}.G", "-lambda")
    assert_close(dual.h, np.zeros(len(p.h)), f"{call}.h", "-lambda <= 0")


@pytest.mark.parametrize("name", solved())
def test_dual_program_is_least_at_the_multipliers(name):
    p = solved()[name]
    dual = dual_program(p)
    _, (root, _, _) = _split(dual, p)
    at = np.concatenate([root.T @ p.minimum, p.equality_multipliers, p.inequality_multipliers])
    call = f"dual_program({name})"
    assert_close(dual.fun(at), -p.value, f"{call}.fun(R x, nu, lambda)", "minus the value", rtol=1e-8, atol=1e-9)
    assert dual.violation(at) < 1e-9, f"{call} is violated at (R x, nu, lambda) by {dual.violation(at)}"
    # its multipliers are -x and the slacks: the dual of the dual
    bound = dual_function(dual, -p.minimum, p.h - p.G @ p.minimum)
    assert_close(bound, -p.value, f"the dual function of {call} at -x", "minus the value", rtol=1e-8, atol=1e-9)


def test_dual_program_of_the_dual_is_the_problem_again():
    rng = np.random.default_rng(6)
    p = ellipse()
    again = dual_program(dual_program(p))
    root = dual_program(p).A[:, :2].T
    for x in rng.standard_normal((5, 3)):
        # the second dual's variables are some rotation of R x, then -x, then the slacks
        found = again.fun(np.concatenate([root @ x, -x, p.h - p.G @ x]))
        assert_close(found, p.fun(x), "dual_program(dual_program(ellipse)).fun at -x", "the objective at x")
    assert len(again.q) == 2 + 3 + 2, f"the dual of the dual has {len(again.q)} variables: 2 for u, 3 prices, 2 slacks"


@pytest.mark.parametrize("scale", [1e-14, 1.0, 1e14])
def test_dual_program_has_a_variable_for_each_curved_direction(scale):
    p = program([1.3, -0.4, 0.7], P=scale * np.diag([0.7, 1e-13, 1.9e-9]), A=[[0.2, 0.3, 0.4]], b=[1])
    dual = dual_program(p)
    call = f"dual_program with P = {scale} diag(0.7, 1e-13, 1.9e-9)"
    assert len(dual.q) == 3, f"{call} has {len(dual.q)} variables: two for u, as 1e-13 of 0.7 is zero, and one price"
    assert_close((dual.A[:, :2] ** 2).sum(axis=1) / scale, [0.7, 0, 1.9e-9], f"R'R of {call}", "P / scale", atol=1e-12)


def test_dual_program_agrees_with_scipy():
    for name, p in solved().items():
        if not p.P.any():
            dual = dual_program(p)
            found = linprog(dual.q, dual.G, dual.h, dual.A, dual.b, (None, None))
            assert_close(-found.fun, p.value, f"minus the least value of dual_program({name})", "the value", rtol=1e-7)
            assert_close(found.x[len(p.b) :], p.inequality_multipliers, f"its lambda ({name})", "(4)", atol=1e-7)


def test_dual_program_is_infeasible_or_unbounded_where_the_problem_is_not_solvable():
    for name, p in unbounded_programs().items():
        dual = dual_program(p)
        parts = (dual.G, dual.h) if len(dual.h) else (None, None)
        status = linprog(0 * dual.q, *parts, dual.A, dual.b, (None, None)).status
        assert status == 2, f"{name} falls for ever, so that dual_program({name}) must be infeasible"
    dual = dual_program(infeasible_programs()["wall"])  # prices (t, t) cost nothing in slope, and earn 2 t
    assert_close(dual.fun(np.array([7.3, 7.3])) - dual.fun(np.zeros(2)), -14.6, "dual_program(wall).fun", "h'lambda")


# slater


def test_slater_finds_how_far_from_the_walls_a_point_can_be():
    triangle = program([0, 0], G=[[-2.5, 0], [0, -0.4], [0.8, 0.6]], h=[0, 0, 1.2])  # legs 1.5 and 2
    margin, x = slater(triangle)
    assert_close(margin, 0.5, "slater(triangle with sides 1.5, 2, 2.5)", "the inscribed circle: area / half the sides")
    assert_close(x, [0.5, 0.5], "its centre", "equation (5)", rtol=1e-7)
    moved = program([0, 0], G=[[-2.5, 0], [0, -0.4], [0.8, 0.6]], h=[7.5, 0.8, -2.4])  # by (-3, -2)
    margin, x = slater(moved)
    assert_close(margin, 0.5, "slater(the triangle moved by (-3, -2))", "equation (5)", rtol=1e-7)
    assert_close(x, [-2.5, -1.5], "its centre", "equation (5)", rtol=1e-7)
    far = program([0, 0], G=[[-2.5, 0], [0, -0.4], [0.8, 0.6]], h=[0, 0, 12.0])
    assert_close(slater(far)[0], 1.0, "slater(a triangle ten times as large)", "at most 1")


def test_slater_stays_on_the_equations():
    p = program([0, 0, 0], A=[[1, 1, 1]], b=[0.9], G=-np.eye(3), h=np.zeros(3))
    margin, x = slater(p)
    assert_close(margin, 0.3, "slater(simplex of size 0.9)", "each coordinate is 0.3", rtol=1e-7)
    assert_close(x, [0.3] * 3, "its point", "equation (5)", rtol=1e-7)


def test_slater_of_what_is_infeasible_or_has_no_interior():
    margin, x = slater(infeasible_programs()["wall"])
    assert_close(margin, -np.sqrt(0.5), "slater(wall): half the distance of two walls", "equation (5)", rtol=1e-7)
    assert_close(x.sum(), 2.0, "its point lies half way", "equation (5)", rtol=1e-7)
    margin, x = slater(infeasible_programs()["lines"])
    assert margin == -np.inf and np.isnan(x).all() and x.shape == (2,), f"slater(lines) says {margin}, {x}"
    flat = program([0, 0], G=[[0.7, 0], [-0.7, 0]], h=[0.21, -0.21])
    assert_close(slater(flat)[0], 0.0, "slater(x = 0.3 as two inequalities)", "no interior", atol=1e-9)
    impossible = program([0, 0], G=[[0, 0], [1, 0]], h=[-0.1, 1])
    assert slater(impossible)[0] == -np.inf, f"0 x <= -0.1 cannot be satisfied; slater says {slater(impossible)}"
    assert slater(program([0.0], P=[[1.0]]))[0] == 1.0, "slater without constraints is 1"


# best_bound


def test_best_bound_of_a_cloud_by_hand():
    c, f = np.array([[-1.7], [-0.4], [0.9], [2.3]]), np.array([3.1, 2.65, 1.3, 0.85])
    bound, lam = best_bound(f, c)
    slope = (3.1 - 1.3) / (1.7 + 0.9)  # the lower edge runs from the first to the third
    assert_close(bound, 1.3 + slope * 0.9, "best_bound(cloud)", "equation (6)", rtol=1e-7)
    assert_close(lam, [slope], "its price", "minus the slope of the lower edge", rtol=1e-7)


def test_best_bound_of_a_convex_problem_is_its_minimum():
    x = np.linspace(-1, 3, 401)[:, None]  # with 1.25 as one of the points
    f, c = (x[:, 0] - 2.13) ** 2, np.column_stack([x[:, 0] - 1.25, -x[:, 0]])
    bound, lam = best_bound(f, c)
    # on a grid of width 0.01 the edge's slope is that of a chord, anywhere between its neighbours'
    assert_close(bound, 0.88**2, "best_bound((x - 2.13)^2, x <= 1.25)", "strong duality", rtol=1e-7)
    assert abs(lam[0] - 1.76) <= 0.0101 and abs(lam[1]) < 1e-9, f"its prices are {lam}, and should be near (1.76, 0)"


def test_best_bound_leaves_a_gap_where_the_edge_is_dented():
    x = np.linspace(-1.5, 1.5, 31)  # a well at each end, and the constraint forbids the deeper one
    f, c = x**4 - 2 * x**2 + 0.5 * x, -0.3 - x
    bound, _ = best_bound(f, c[:, None])
    mixture = linprog(f, c[None], [0.0], np.ones((1, 31)), [1.0]).fun
    assert_close(bound, mixture, "best_bound(double well)", "the least mixture", rtol=1e-7)
    assert bound < f[c <= 0].min() - 0.1, f"the bound {bound} should leave a gap below {f[c <= 0].min()}"


def test_best_bound_needs_ever_higher_prices_where_slater_fails():
    prices = []
    for width in (1e-1, 1e-2, 1e-3):
        x = np.append(0.0, np.linspace(-1, 1, 2 * round(1 / width) + 1))
        bound, lam = best_bound(x, (x**2)[:, None])
        assert_close(bound, 0.0, f"best_bound(x, x^2 <= 0) on a grid of width {width}", "the minimum", atol=1e-7)
        prices.append(lam[0])
        assert lam[0] >= 0.99 / width, (
            f"the price on a grid of width {width} is {lam[0]}, expected at least {1 / width}"
        )
    inner = np.linspace(-1, 1, 200)  # without 0 no point is feasible, and no mixture
    bound, lam = best_bound(inner, (inner**2)[:, None])
    assert bound == np.inf and lam.shape == (1,) and np.isnan(lam).all(), f"best_bound says {bound}, {lam}"


def test_best_bound_of_several_constraints_and_of_none():
    rng = np.random.default_rng(9)
    f, c = rng.standard_normal(30), rng.standard_normal((30, 3))
    bound, lam = best_bound(f, c)
    mixture = linprog(f, c.T, np.zeros(3), np.ones((1, 30)), [1.0])
    assert_close(bound, mixture.fun, "best_bound(30 points, 3 constraints)", "the least mixture", rtol=1e-7)
    assert_close(lam, -mixture.ineqlin.marginals, "its prices", "the mixture's multipliers", rtol=1e-6, atol=1e-9)
    assert_close((f + c @ lam).min(), bound, "the least f + c'lambda", "the bound", rtol=1e-7)
    assert_close(best_bound(f, np.zeros((30, 0)))[0], f.min(), "best_bound without constraints", "the minimum")


# support_vectors


@cache
def machine(C):
    features, signs = iris_pair()
    peer = SVC(kernel="linear", C=C, tol=1e-9).fit(features, signs)
    alpha = np.zeros(len(signs))
    alpha[peer.support_] = abs(peer.dual_coef_[0])
    return features, signs, alpha, peer


def test_support_vectors_by_hand():
    features = np.array([[0.4, 1.3], [1.2, -0.5], [2.3, 0.7], [0.9, 0.2]])
    signs, alpha = np.array([1.0, -1.0, 1.0, -1.0]), np.array([0.31, 0.0, 0.25, 0.56])
    found = support_vectors(features, signs, alpha, 0.56)
    w = 0.31 * features[0] + 0.25 * features[2] - 0.56 * features[3]
    # I: the first and the third, with alpha < C, and the last, with alpha > 0; J: the first, the second and the third
    offset = signs - features @ w
    bias = (max(offset[[0, 2, 3]]) + min(offset[[0, 1, 2]])) / 2
    losses = np.maximum(0, 1 - signs * (features @ w + bias))
    call = "support_vectors(features, signs, [0.31, 0, 0.25, 0.56], 0.56)"
    assert_close(found.weights, w, f"{call}.weights", "equation (8)")
    assert_close(found.bias, bias, f"{call}.bias", "the middle of (9)")
    assert found.support.tolist() == [True, False, True, True], f"{call}.support is {found.support}"
    assert_close(found.gap, w @ w + 0.56 * losses.sum() - 1.12, f"{call}.gap", "(7) minus the dual")


@pytest.mark.parametrize("C", [0.7, 30.0])
def test_support_vectors_agrees_with_scikit_learn(C):
    features, signs, alpha, peer = machine(C)
    found = support_vectors(features, signs, alpha, C)
    call = f"support_vectors(iris, SVC's alpha, C={C})"
    assert_close(found.weights, peer.coef_[0], f"{call}.weights", "SVC.coef_", rtol=1e-6)
    assert_close(found.bias, peer.intercept_[0], f"{call}.bias", "SVC.intercept_", rtol=1e-5)
    assert set(np.flatnonzero(found.support)) == set(peer.support_), f"{call}.support differs from SVC.support_"
    assert_close(
        found.gap,
        0.0,
        f"{call}.gap",
        "strong duality",
        atol=1e-4 * alpha.sum(),
        tolerance="SVC's own gap is 2e-5 of it",
    )


def test_support_vectors_has_a_bias_where_all_prices_are_at_an_end():
    features, signs, _, _ = machine(0.7)
    C = 1e-4  # so little that all samples violate
    found = support_vectors(features, signs, np.full(100, C), C)
    w = C * signs @ features
    offset = signs - features @ w
    bias = (max(offset[signs < 0]) + min(offset[signs > 0])) / 2
    assert_close(found.bias, bias, "the bias of support_vectors with all alpha = C", "the middle of (9)", rtol=1e-12)
    assert_close(found.gap, 0.0, "its gap", "strong duality", atol=1e-12)


def test_support_vectors_gap_bounds_both_objectives():
    features, signs, alpha, _ = machine(0.7)
    best = svm_dual(features, signs, 0.7).fun(alpha)
    shrunk = 0.8 * alpha
    found = support_vectors(features, signs, shrunk, 0.7)
    primal = found.weights @ found.weights / 2
    primal += 0.7 * np.maximum(0, 1 - signs * (features @ found.weights + found.bias)).sum()
    dual = -svm_dual(features, signs, 0.7).fun(shrunk)
    assert_close(found.gap, primal - dual, "support_vectors(0.8 alpha).gap", "(7) minus the dual", rtol=1e-9)
    assert primal > -best > dual, f"weak duality: {primal}, {-best} and {dual} should descend"


@pytest.mark.parametrize("C", [2.0, 2e-7, 2e7])
def test_support_vectors_counts_prices_near_an_end_as_there(C):
    features = np.array([[0.4, 1.3], [1.2, -0.5], [2.3, 0.7], [0.9, 0.2]])
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    found = support_vectors(features, signs, C * np.array([1 - 5e-7, 5e-7, 5e-7, 1 - 5e-7]), C)
    same = support_vectors(features, signs, C * np.array([1.0, 0.0, 0.0, 1.0]), C)
    assert found.support.tolist() == [True, False, False, True], f"5e-7 C is zero beside C = {C}, got {found.support}"
    assert_close(found.bias, same.bias, f"the bias, C = {C}, prices 5e-7 C from the ends", "at the ends", rtol=1e-4)
    found = support_vectors(features, signs, C * np.array([1 - 5e-6, 5e-6, 5e-6, 1 - 5e-6]), C)
    assert found.support.all(), f"5e-6 C exceeds 1e-6 C with C = {C}, got {found.support}"


# above_chord, below_tangent, bends_down


POINTS = np.array([[0.1, 0.7], [2.6, -0.9], [-0.8, 2.1], [1.7, 0.4], [0.3, -1.2]])


def _convex(x):
    return float(np.logaddexp(1.3 * x[0] - x[1], 0.4 * x[1]) + 0.2 * x @ x)


def _slope(x):
    share = 1 / (1 + np.exp(0.4 * x[1] - 1.3 * x[0] + x[1]))
    return share * np.array([1.3, -1.0]) + (1 - share) * np.array([0.0, 0.4]) + 0.4 * x


def test_above_chord_finds_the_worst_pair():
    def fun(x):
        return float(x[0] ** 3 - 0.7 * x[1] ** 2)

    found = above_chord(fun, POINTS)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    excesses = [fun((POINTS[i] + POINTS[j]) / 2) - (fun(POINTS[i]) + fun(POINTS[j])) / 2 for i, j in pairs]
    i, j = pairs[int(np.argmax(excesses))]
    assert found is not None, "above_chord(x1^3 - 0.7 x2^2, points) found nothing"
    assert_close(found.excess, max(excesses), "above_chord(x1^3 - 0.7 x2^2, points).excess", "the first of (10)")
    assert_close(found.x, POINTS[i], "its x", "the pair with the largest excess, in the order of the rows")
    assert_close(found.y, POINTS[j], "its y", "the pair with the largest excess, in the order of the rows")


def test_above_chord_finds_nothing_wrong_with_convex_functions():
    for name, fun in (
        ("log-sum-exp", _convex),
        ("a norm", lambda x: float(np.linalg.norm(x))),
        ("a straight one", lambda x: float(0.1 * x[0] - 0.7 * x[1] + 1e6)),
        ("a constant", lambda x: 0.3),
        ("zero", lambda x: 0.0),
        ("one that is finite nowhere", lambda x: np.inf),
    ):
        found = above_chord(fun, POINTS)
        assert found is None, f"above_chord({name}) returned {found}, and there is nothing to find"
    assert above_chord(lambda x: -float(x @ x), POINTS[:1]) is None, "one point has no chord"


@pytest.mark.parametrize("scale", [1e-130, 1e130])
def test_above_chord_and_the_scale_of_the_function(scale):
    found = above_chord(lambda x: -scale * float(x @ x), POINTS[:2])
    move = POINTS[0] - POINTS[1]
    assert found is not None, f"above_chord(-{scale} x'x) found nothing"
    assert_close(found.excess, scale * move @ move / 4, f"above_chord(-{scale} x'x).excess", "|x - y|^2 / 4")
    for bend, seen in ((1e-11, False), (1e-9, True)):
        found = above_chord(lambda x, b=bend: scale * (1 - b * float(x @ x)), POINTS[:2])
        assert (found is not None) == seen, f"beside {scale}, a bend of {bend} counts: {seen}; above_chord: {found}"


def test_above_chord_compares_with_the_largest_value_in_size():
    for bend, seen in ((3e-10, False), (2e-9, True)):
        found = above_chord(lambda x, b=bend: -7.0 * x[0] + b * (x[0] == 0.5), np.array([[0.0], [1.0]]))
        assert (found is not None) == seen, f"beside 0 and -7, an excess of {bend} counts: {seen}; it returned {found}"


def test_above_chord_judges_sets_by_their_indicator():
    def ring(x):
        return 0.0 if 1 <= np.linalg.norm(x) <= 2 else np.inf

    points = np.array([[1.5, 0.3], [3.0, 1.0], [-1.4, 0.2], [0.9, 1.1]])
    found = above_chord(ring, points)
    assert found is not None and found.excess == np.inf, f"the ring is not convex; above_chord returned {found}"
    assert_close([found.x, found.y], points[[0, 2]], "above_chord(ring)", "the members whose middle is in the hole")
    assert above_chord(lambda x: 0.0 if np.linalg.norm(x) <= 2 else np.inf, points) is None, "a disc is convex"


def test_below_tangent_finds_the_worst_ordered_pair():
    def fun(x):
        return float(x[0] ** 3 - 0.7 * x[1] ** 2 + x[0] * x[1])

    def grad(x):
        return np.array([3 * x[0] ** 2 + x[1], x[0] - 1.4 * x[1]])

    found = below_tangent(fun, grad, POINTS)
    excesses = np.array([[fun(x) + grad(x) @ (y - x) - fun(y) for y in POINTS] for x in POINTS])
    i, j = np.unravel_index(excesses.argmax(), excesses.shape)
    assert found is not None, "below_tangent(cubic, points) found nothing"
    assert_close(found.excess, excesses.max(), "below_tangent(cubic, points).excess", "the second of (10)")
    assert_close(found.x, POINTS[i], "its x", "where the tangent touches")
    assert_close(found.y, POINTS[j], "its y", "where the function is below it")


def test_below_tangent_finds_nothing_wrong_with_convex_functions():
    offset = 1e8
    for name, fun, grad, points in (
        ("log-sum-exp", _convex, _slope, POINTS),
        ("a straight one", lambda x: float(0.1 * x[0] - 0.7 * x[1]), lambda x: np.array([0.1, -0.7]), POINTS),
        (
            "a parabola far away",
            lambda x: float((x - offset) @ (x - offset)),
            lambda x: 2 * (x - offset),
            POINTS + offset,
        ),
        ("zero", lambda x: 0.0, lambda x: np.zeros(2), POINTS),
        ("one point", lambda x: -float(x @ x), lambda x: -2 * x, POINTS[:1]),
    ):
        found = below_tangent(fun, grad, points)
        assert found is None, f"below_tangent({name}) returned {found}, and there is nothing to find"


def test_below_tangent_ignores_what_is_small_beside_the_values():
    for scale, (bend, seen) in product((1e-130, 7.0, 1e130), ((1e-12, False), (1e-9, True))):
        found = below_tangent(
            lambda x, s=scale, b=bend: -s - s * b * float(x @ x), lambda x, s=scale, b=bend: -2 * s * b * x, POINTS[:2]
        )
        assert (found is not None) == seen, f"beside {-scale}, a bend of {bend} counts: {seen}; it returned {found}"


def test_bends_down_finds_the_worst_direction():
    problem = himmelblau()
    found = bends_down(problem.hess, POINTS)
    least = [np.linalg.eigvalsh(problem.hess(x))[0] for x in POINTS]
    assert found is not None, "bends_down(himmelblau, points) found nothing"
    assert_close(found.excess, -min(least), "bends_down(himmelblau, points).excess", "the third of (10)")
    assert_close(found.x, POINTS[int(np.argmin(least))], "its x", "where the curvature is most negative")
    assert_close(found.y @ found.y, 1.0, "the length of its y, squared", "a direction of length 1")
    assert_close(found.y @ problem.hess(found.x) @ found.y, min(least), "y'Hy", "the least eigenvalue", rtol=1e-9)


def test_bends_down_finds_nothing_wrong_with_convex_functions():
    for name, hess in (
        ("a bowl", lambda x: np.array([[2.1, 0.4], [0.4, 1.3]])),
        ("a valley", lambda x: np.array([[1.21, 0.55], [0.55, 0.25]]) * (1 + x @ x)),  # singular, and rounded
        ("zero", lambda x: np.zeros((2, 2))),
    ):
        found = bends_down(hess, POINTS)
        assert found is None, f"bends_down({name}) returned {found}, and there is nothing to find"
    for least, seen in ((-1e-9, False), (-1e-7, True)):
        # the largest eigenvalue in size, -50 or 50, is met at another point
        found = bends_down(lambda x, low=least: np.diag([50.0, 0.0]) if x[0] > 2 else np.diag([low, 0.1]), POINTS)
        assert (found is not None) == seen, f"beside 50, an eigenvalue of {least} counts: {seen}; bends_down: {found}"
    found = bends_down(lambda x: np.diag([-50.0, -1.0]), POINTS[:1])
    assert found is not None and found.excess == 50, f"bends_down of a cap returned {found}"


def test_bends_down_and_the_others_leave_points_alone_and_pass_errors_on():
    kept = POINTS.copy()

    def broken(x):
        raise ZeroDivisionError("mine")

    for call in (
        lambda: above_chord(broken, POINTS),
        lambda: below_tangent(broken, _slope, POINTS),
        lambda: below_tangent(_convex, broken, POINTS),
        lambda: bends_down(broken, POINTS),
    ):
        with pytest.raises(ZeroDivisionError, match="mine"):
            call()
    assert_close(POINTS, kept, "the points afterwards", "their old values")


# what is given


@pytest.mark.given
@pytest.mark.parametrize(("nu", "lam", "name"), [([], [1, 1], "nu"), ([0.1], [1.0], "lam"), ([np.nan], [1, 1], "nu")])
def test_dual_function_refuses_prices_that_do_not_fit(nu, lam, name):
    with pytest.raises(ValueError, match=name):
        dual_function(ellipse(), np.array(nu), np.array(lam, dtype=float))


@pytest.mark.given
def test_best_bound_refuses_what_is_no_cloud():
    for values, constraints in (([], np.zeros((0, 1))), ([1.0], np.zeros((2, 1))), ([np.nan], np.zeros((1, 1)))):
        with pytest.raises(ValueError, match="values"):
            best_bound(np.array(values), constraints)


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("C", {"C": 0.0}),
        ("signs", {"signs": np.array([0.0, 1.0])}),
        ("signs", {"signs": np.array([1.0, 1.0])}),
        ("alpha", {"alpha": np.array([0.5, 0.4])}),
        ("alpha", {"alpha": np.array([1.5, 1.5])}),
        ("alpha", {"alpha": np.array([0.0, 0.0])}),
        ("features", {"features": np.array([[np.inf], [1.0]])}),
    ],
)
def test_support_vectors_refuses_what_makes_no_machine(name, changed):
    right = {"features": np.array([[0.2], [1.0]]), "signs": np.array([-1.0, 1.0]), "alpha": np.full(2, 0.5), "C": 1.0}
    with pytest.raises(ValueError, match=name):
        support_vectors(**right | changed)


@pytest.mark.given
@pytest.mark.parametrize("points", [np.zeros(3), np.zeros((0, 2)), np.array([[np.nan]])])
def test_above_chord_and_the_others_refuse_what_are_no_points(points):
    for call in (
        lambda: above_chord(_convex, points),
        lambda: below_tangent(_convex, _slope, points),
        lambda: bends_down(lambda x: np.eye(2), points),
    ):
        with pytest.raises(ValueError, match="points"):
            call()
