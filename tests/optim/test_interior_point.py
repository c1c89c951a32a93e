"""Shared tests of optim/interior_point: run on the reference, and on the learner's file.

Everything is deterministic. Single steps are compared with the whole Newton system, solved as it stands, to 1e-8: elimination loses
some digits, and the raised diagonals some. Minima are compared to 1e-6 of their scale with the default `tol` of 1e-8.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.svm import SVC

from mlpath.optim._programs import (
    infeasible_programs,
    iris_pair,
    klee_minty,
    linear_programs,
    program,
    quadratic_programs,
    random_program,
    svm_dual,
    unbounded_programs,
)
from mlpath.optim.interior_point import (
    CONVERGED,
    INFEASIBLE,
    OUT_OF_STEPS,
    UNBOUNDED,
    Iterate,
    certificate,
    direction,
    predictor_corrector,
    reduced_solver,
    residuals,
    solve,
    starting_point,
    step_length,
)
from mlpath.optim.kkt import Multipliers, certify
from mlpath.testing import assert_close

NONE = np.zeros(0)


@cache
def problems():
    rng = np.random.default_rng(3)
    dense = {"dense": random_program(12, 4, 20, rng=rng), "dense QP": random_program(14, 3, 20, rank=6, rng=rng)}
    return linear_programs() | quadratic_programs() | dense


@cache
def mixed():
    """A quadratic program with one equation and three inequalities, and an iterate with nothing special."""
    p = program(
        [1.3, -0.42],
        P=[[2.5, 0.7], [0.7, 1.9]],
        A=[[1.2, -0.35]],
        b=[0.83],
        G=[[0.4, 1.9], [-1.1, 0.23], [0.0, -2.7]],
        h=[1.45, 0.37, 2.2],
    )
    at = Iterate(np.array([0.61, -1.7]), np.array([0.52, 1.31, 0.24]), np.array([-0.73]), np.array([0.38, 0.17, 2.1]))
    return p, at


def newton(p, at, products):
    """The four equations (3) as one linear system."""
    n, m, k = len(p.q), len(p.h), len(p.b)
    rows = [
        [p.P, np.zeros((n, m)), p.A.T, p.G.T],
        [p.A, np.zeros((k, m + k + m))],
        [p.G, np.eye(m), np.zeros((m, k + m))],
        [np.zeros((m, n)), np.diag(at.lam), np.zeros((m, k)), np.diag(at.s)],
    ]
    slope = p.P @ at.x + p.q + p.A.T @ at.nu + p.G.T @ at.lam
    right = -np.concatenate([slope, p.A @ at.x - p.b, p.G @ at.x + at.s - p.h, products])
    return np.split(np.linalg.solve(np.vstack([np.hstack(row) for row in rows]), right), [n, n + m, n + m + k])


def close(at, expected, call, because, rtol=1e-8):
    """Assert that the four parts of an iterate are as expected."""
    for name, values in zip(("x", "s", "nu", "lam"), expected):
        size = abs(np.array(values)).max(initial=0.0)
        assert_close(getattr(at, name), values, f"{call}.{name}", because, rtol=rtol, atol=rtol * size)


# residuals


def test_residuals_by_hand():
    p, at = mixed()
    found = residuals(p, at)
    slope = [
        2.5 * 0.61 - 0.7 * 1.7 + 1.3 - 1.2 * 0.73 + 0.4 * 0.38 - 1.1 * 0.17,
        0.7 * 0.61 - 1.9 * 1.7 - 0.42 + 0.35 * 0.73 + 1.9 * 0.38 + 0.23 * 0.17 - 2.7 * 2.1,
    ]
    inequality = [
        0.4 * 0.61 - 1.9 * 1.7 + 0.52 - 1.45,
        -1.1 * 0.61 - 0.23 * 1.7 + 1.31 - 0.37,
        2.7 * 1.7 + 0.24 - 2.2,
    ]
    assert_close(found.dual, slope, "residuals(p, at).dual", "r_d in (1)", rtol=1e-12)
    assert_close(
        found.equality, [1.2 * 0.61 + 0.35 * 1.7 - 0.83], "residuals(p, at).equality", "r_e in (1)", rtol=1e-12
    )
    assert_close(found.inequality, inequality, "residuals(p, at).inequality", "r_i in (1)", rtol=1e-12)
    mu = (0.52 * 0.38 + 1.31 * 0.17 + 0.24 * 2.1) / 3
    assert_close(found.mu, mu, "residuals(p, at).mu", "equation (2)", rtol=1e-12)


def test_residuals_vanish_at_solutions():
    for name in ("HS76", "free", "markowitz"):
        p = problems()[name]
        at = Iterate(p.minimum, p.h - p.G @ p.minimum, p.equality_multipliers, p.inequality_multipliers)
        for part, values in vars(residuals(p, at)).items():
            assert_close(values, 0 * np.array(values), f"residuals({name}, its solution).{part}", "(1)", atol=1e-12)


def test_residuals_without_inequalities():
    p = program([1.0, 2.0], A=[[1.0, 1.0]], b=[3.0])
    found = residuals(p, Iterate(np.array([0.5, 0.7]), NONE, np.array([0.3]), NONE))
    assert found.mu == 0 and found.inequality.shape == (0,), f"without inequalities residuals returned {found}"


# reduced_solver


def block(p, weights):
    """The matrix of (5)."""
    return np.block([[p.P + p.G.T @ np.diag(weights) @ p.G, p.A.T], [p.A, np.zeros((len(p.b), len(p.b)))]])


@pytest.mark.parametrize("name", ["mixed", "HS76", "balanced", "free", "dense", "dense QP"])
def test_reduced_solver_solves_equation_5(name):
    p = mixed()[0] if name == "mixed" else problems()[name]
    rng = np.random.default_rng(5)
    weights = rng.uniform(0.3, 4.0, len(p.h))
    solver = reduced_solver(p, weights)
    for _ in range(2):  # the same factors serve every right side
        u, v = rng.standard_normal(len(p.q)), p.A @ rng.standard_normal(len(p.q))
        kept = u.copy(), v.copy()
        dx, dnu = solver(u, v)
        back = block(p, weights) @ np.append(dx, dnu)
        assert_close(back, np.append(u, v), f"(5) times reduced_solver({name}, weights)(u, v)", "u, v", atol=1e-9)
        assert dx.shape == u.shape and dnu.shape == v.shape, f"the solution has the shapes {dx.shape} and {dnu.shape}"
        assert_close(u, kept[0], "u afterwards", "its old value")
        assert_close(v, kept[1], "v afterwards", "its old value")


def test_reduced_solver_returns_the_only_solution():
    p, _ = mixed()
    weights = np.array([0.73, 1.9, 0.28])
    dx, dnu = reduced_solver(p, weights)(np.array([1.7, -0.6]), np.array([0.45]))
    expected = np.linalg.solve(block(p, weights), [1.7, -0.6, 0.45])
    assert_close(dx, expected[:2], "reduced_solver(p, [0.73, 1.9, 0.28])([1.7, -0.6], [0.45])[0]", "(5)", rtol=1e-9)
    assert_close(dnu, expected[2:], "reduced_solver(p, [0.73, 1.9, 0.28])([1.7, -0.6], [0.45])[1]", "(5)", rtol=1e-9)


def test_reduced_solver_without_curvature_or_without_constraints():
    line = program([0, 0], A=[[1.0, 0.3], [0.4, 2.0]], b=[0, 0])  # H = 0
    dx, dnu = reduced_solver(line, NONE)(np.array([0.7, -1.3]), np.array([2.1, 0.6]))
    assert_close(dx, np.linalg.solve(line.A, [2.1, 0.6]), "reduced_solver of H = 0: dx", "A dx = v", rtol=1e-8)
    assert_close(dnu, np.linalg.solve(line.A.T, [0.7, -1.3]), "reduced_solver of H = 0: dnu", "A'dnu = u", rtol=1e-8)
    bowl = program([0, 0], P=[[2.0, 0.3], [0.3, 1.0]])
    dx, _ = reduced_solver(bowl, NONE)(np.array([0.7, -1.3]), NONE)
    assert_close(dx, np.linalg.solve(bowl.P, [0.7, -1.3]), "reduced_solver without constraints", "P dx = u", rtol=1e-9)


def test_reduced_solver_repairs_what_the_raised_diagonal_spoils():
    # curvatures a million times apart: without the second and third solve, 1e-12 times the large one would show
    p = program([0, 0, 0], P=np.diag([1e7, 3.0, 1e-4]), A=[[1.0, 1.0, 1.0]], b=[0])
    dx, dnu = reduced_solver(p, NONE)(np.array([0.7, -1.3, 2.9]), np.array([1.1]))
    expected = np.linalg.solve(block(p, NONE), [0.7, -1.3, 2.9, 1.1])
    assert_close(np.append(dx, dnu), expected, "reduced_solver with P = diag(1e7, 3, 1e-4)", "(5)", rtol=1e-10)


# direction


@pytest.mark.parametrize("name", ["mixed", "HS35", "wyndor", "dense QP"])
def test_direction_solves_newtons_equations(name):
    rng = np.random.default_rng(8)
    p, at = mixed()
    if name != "mixed":
        p = problems()[name]
        n, m, k = len(p.q), len(p.h), len(p.b)
        at = Iterate(rng.standard_normal(n), rng.uniform(0.2, 3, m), rng.standard_normal(k), rng.uniform(0.2, 3, m))
    for products in (at.s * at.lam, rng.standard_normal(len(p.h))):
        step = direction(p, at, reduced_solver(p, at.lam / at.s), products)
        close(step, newton(p, at, products), f"direction({name}, at, solver, products)", "equation (3)")


def test_direction_uses_the_solver_that_it_is_given():
    p, at = mixed()
    asked = []

    def solver(u, v):
        asked.append((u, v))
        return np.array([0.31, -0.64]), np.array([1.7])

    products = np.array([0.21, -0.4, 0.93])
    step = direction(p, at, solver, products)
    ds = -(p.G @ at.x + at.s - p.h) - p.G @ [0.31, -0.64]
    expected = ([0.31, -0.64], ds, [1.7], -(products + at.lam * ds) / at.s)
    close(step, expected, "direction with a solver that returns (0.31, -0.64), 1.7", "equation (4)", rtol=1e-12)
    slope = p.P @ at.x + p.q + p.A.T @ at.nu + p.G.T @ at.lam
    u = -slope + p.G.T @ ((products - at.lam * (p.G @ at.x + at.s - p.h)) / at.s)
    assert len(asked) == 1, f"direction asked the solver {len(asked)} times, expected once"
    assert_close(asked[0][0], u, "the u that direction hands to the solver", "equation (5)", rtol=1e-12)
    assert_close(asked[0][1], p.b - p.A @ at.x, "the v that direction hands to the solver", "equation (5)", rtol=1e-12)


# step_length


@pytest.mark.parametrize(
    ("ds", "dlam", "share", "expected"),
    [
        ([-4.2, 1.0], [-1.0, -0.1], 1.0, 2.31 / 4.2),
        ([-4.2, 1.0], [-1.0, -0.1], 0.8, 0.8 * 2.31 / 4.2),
        ([-0.3, -9.0], [0.2, 0.1], 0.99, 0.99 * 3.7 / 9),
        ([0.4, 1.0], [-5.3, -0.1], 0.99, 0.99 * 1.13 / 5.3),
        ([0.4, 1.0], [0.3, -0.7], 0.99, 0.99 * 0.57 / 0.7),
        ([-2.3, 1.0], [0.3, 0.1], 0.99, 0.99 * 2.31 / 2.3),
        ([-0.5, 1.0], [-0.2, 0.1], 0.99, 1.0),
        ([0.5, 1.0], [0.0, 0.1], 0.99, 1.0),
    ],
)
def test_step_length_by_hand(ds, dlam, share, expected):
    at = Iterate(np.ones(1), np.array([2.31, 3.7]), np.array([0.1]), np.array([1.13, 0.57]))
    step = Iterate(np.array([-50.0]), np.array(ds), np.array([-70.0]), np.array(dlam))
    call = f"step_length(s = (2.31, 3.7), lam = (1.13, 0.57), ds = {ds}, dlam = {dlam}, {share})"
    assert_close(step_length(at, step, share), expected, call, "equation (7)", rtol=1e-12)


def test_step_length_without_inequalities_is_one():
    at = Iterate(np.ones(2), NONE, np.ones(1), NONE)
    found = step_length(at, Iterate(-5 * np.ones(2), NONE, -7 * np.ones(1), NONE), 0.99)
    assert found == 1, f"step_length without slacks is {found}; x and nu may have any sign"


# starting_point


def test_starting_point_solves_the_problem_without_signs():
    p, _ = mixed()
    at = starting_point(p)
    solution = np.linalg.solve(block(p, np.ones(3)), np.append(p.G.T @ p.h - p.q, p.b))
    slack = p.h - p.G @ solution[:2]
    assert_close(at.x, solution[:2], "starting_point(p).x", "(5) with w = 1", rtol=1e-8)
    assert_close(at.nu, solution[2:], "starting_point(p).nu", "(5) with w = 1", rtol=1e-8)
    raise_s, raise_lam = (1 - z.min() if z.min() <= 0 else 0 for z in (slack, -slack))
    assert_close(at.s, slack + raise_s, "starting_point(p).s", "equation (10)", rtol=1e-8)
    assert_close(at.lam, -slack + raise_lam, "starting_point(p).lam", "equation (10)", rtol=1e-8)


@pytest.mark.parametrize(
    ("h", "s", "lam"),
    [
        ([2.3, 1.7], [2.3, 1.7], [1.0, 1.6]),
        ([0.3, 1.7], [0.3, 1.7], [2.4, 1.0]),
        ([0.0, 1.7], [1.0, 2.7], [2.7, 1.0]),
        ([-2.3, -1.7], [1.0, 1.6], [2.3, 1.7]),
    ],
)
def test_starting_point_raises_only_what_is_not_positive(h, s, lam):
    # x stays 0, as the two walls pull it equally
    p = program([h[0] - h[1]], G=[[1.0], [-1.0]], h=h)
    at = starting_point(p)
    close(at, ([0.0], s, NONE, lam), f"starting_point(0 <= x + s, h = {h})", "equation (10)", rtol=1e-9)


def test_starting_point_of_every_problem_is_positive():
    for name, p in (problems() | infeasible_programs() | unbounded_programs()).items():
        at = starting_point(p)
        least = min([*at.s, *at.lam, 1.0])
        assert least > 0, f"the least slack or multiplier of starting_point({name}) is {least}, expected more than 0"


# predictor_corrector


def mehrotra(p, at):
    """The next iterate, by the whole system."""

    def length(step, share):
        pairs = zip(np.append(at.s, at.lam), np.append(step[1], step[3]))
        return min([1.0, *(share * -z / d for z, d in pairs if d < 0)])

    affine, mu = newton(p, at, at.s * at.lam), at.s @ at.lam / len(at.s)
    a = length(affine, 1.0)
    sigma = ((at.s + a * affine[1]) @ (at.lam + a * affine[3]) / len(at.s) / mu) ** 3
    step = newton(p, at, at.s * at.lam + affine[1] * affine[3] - sigma * mu)
    a = length(step, 0.99)
    return [z + a * d for z, d in zip(vars(at).values(), step)]


@pytest.mark.parametrize("name", ["mixed", "HS35", "wyndor", "markowitz", "dense QP"])
def test_predictor_corrector_makes_mehrotras_step(name):
    p, at = mixed()
    if name != "mixed":
        p, rng = problems()[name], np.random.default_rng(4)
        n, m, k = len(p.q), len(p.h), len(p.b)
        at = Iterate(rng.standard_normal(n), rng.uniform(0.2, 3, m), rng.standard_normal(k), rng.uniform(0.2, 3, m))
    close(predictor_corrector(p, at), mehrotra(p, at), f"predictor_corrector({name}, at)", "equations (7) to (9)")


def test_predictor_corrector_shrinks_the_residuals_and_stays_inside():
    p = problems()["dense QP"]
    at = starting_point(p)
    for _ in range(4):
        kept = [values.copy() for values in vars(at).values()]
        after, old = predictor_corrector(p, at), residuals(p, at)
        new = residuals(p, after)
        close(at, kept, "the iterate after predictor_corrector", "its old value", rtol=1e-15)
        share = abs(new.dual).max() / abs(old.dual).max()
        # one factor for all, 1 - alpha, but for rounding
        rest = share * old.inequality
        assert_close(new.inequality, rest, "r_i after a step", "1 - alpha times r_i", rtol=1e-6, atol=1e-9)
        assert min([*after.s, *after.lam]) > 0 and new.mu < old.mu, f"mu {old.mu} becomes {new.mu}, after {after}"
        at = after


def test_predictor_corrector_solves_equations_in_one_step():
    p = program([1.3, -0.4, 0.2], P=np.diag([2.0, 0.5, 1.0]), A=[[1.0, 2.0, -0.7]], b=[0.9])
    at = predictor_corrector(p, Iterate(np.array([3.0, -2.0, 0.4]), NONE, np.array([0.7]), NONE))
    expected = np.linalg.solve(block(p, NONE), [-1.3, 0.4, -0.2, 0.9])
    close(at, (expected[:3], NONE, expected[3:], NONE), "predictor_corrector without inequalities", "(5)")


# certificate


def test_certificate_recognises_proofs():
    wall, lines = infeasible_programs()["wall"], infeasible_programs()["lines"]
    ray, line, square = unbounded_programs().values()
    for name, p, x, nu, lam, expected in (
        ("wall", wall, [0.3, 0.1], [], [5.2, 5.2], INFEASIBLE),
        ("wall", wall, [0.3, 0.1], [], [5.2, 5.3], None),
        ("lines", lines, [0.3, 0.1], [2.6, -1.3], [0, 0], INFEASIBLE),
        ("lines", lines, [0.3, 0.1], [-2.6, 1.3], [0, 0], None),
        ("ray", ray, [7.1, 7.2], [], [1, 1, 1], UNBOUNDED),
        ("ray", ray, [-7.1, -7.2], [], [1, 1, 1], None),
        ("ray", ray, [7.3, 7.2], [], [1, 1, 1], None),
        ("line", line, [-1.0, 0.2, 0.8], [0.3], [], UNBOUNDED),
        ("line", line, [-1.0, 0.2, 0.9], [0.3], [], None),
        ("line", line, [-1.0, 0.2, 0.7], [0.3], [], None),
        ("square", square, [0.0, 6.3], [], [1, 1], UNBOUNDED),
        ("square", square, [0.1, 6.3], [], [1, 1], None),
    ):
        at = Iterate(np.array(x), np.ones(len(p.h)), np.array(nu, dtype=float), np.array(lam, dtype=float))
        found = certificate(p, at)
        call = f"certificate({name}, x = {x}, nu = {nu}, lam = {lam})"
        assert found == expected, f"{call} says {found!r}, expected {expected!r} by equation (11)"


@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_certificate_compares_with_the_proofs_own_scale(scale):
    wall, ray = infeasible_programs()["wall"], unbounded_programs()["ray"]
    for off, tol, expected in ((1e-7, 1e-7, INFEASIBLE), (3e-7, 1e-7, None), (3e-7, 1e-6, INFEASIBLE)):
        # the slope is off times the scale, and t = 2 - off times it
        at = Iterate(np.zeros(2), np.ones(2), NONE, scale * np.array([1.0 + off, 1.0]))
        found = certificate(wall, at, tol=tol)
        assert found == expected, f"a slope of {off} t/2 with tol={tol}: certificate says {found!r}, not {expected!r}"
    for off, tol, expected in ((1e-7, 1e-7, UNBOUNDED), (3e-7, 1e-7, None), (3e-7, 1e-6, UNBOUNDED)):
        at = Iterate(scale * np.array([1.0 + off, 1.0]), np.ones(3), NONE, np.zeros(3))
        found = certificate(ray, at, tol=tol)
        assert found == expected, f"G x of {off} t/2 with tol={tol}: certificate says {found!r}, not {expected!r}"


def test_certificate_prefers_infeasibility_and_ignores_zeros():
    both = replace(infeasible_programs()["wall"], q=np.array([1.0, -2.0]))
    at = Iterate(np.array([-3.0, 3.0]), np.ones(2), NONE, np.array([2.0, 2.0]))
    assert certificate(both, at) == INFEASIBLE, f"with both proofs certificate says {certificate(both, at)!r}"
    zero = Iterate(np.zeros(2), np.ones(2), NONE, np.zeros(2))
    assert certificate(both, zero) is None, f"zeros prove nothing; certificate says {certificate(both, zero)!r}"
    point = program([0.0], G=[[1.0], [-1.0]], h=[0.7, -0.7])  # x = 0.7 as two inequalities, and no costs
    still = Iterate(np.array([1.3]), np.ones(2), NONE, np.array([2.0, 2.0]))
    assert certificate(point, still) is None, f"t = 0 proves nothing; certificate says {certificate(point, still)!r}"
    free = replace(point, G=np.array([[-1.0], [-2.0]]))
    still = Iterate(np.array([1.3]), np.ones(2), NONE, np.zeros(2))
    assert certificate(free, still) is None, (
        f"without costs nothing falls; certificate says {certificate(free, still)!r}"
    )


# solve


@cache
def solved(name, **options):
    """With a limit of steps that is twice what they take, so that wrong solutions end soon."""
    return solve((problems() | infeasible_programs() | unbounded_programs())[name], max_iter=25, **options)


@pytest.mark.parametrize("name", problems())
def test_solve_finds_minima_and_multipliers(name):
    p = problems()[name]
    found = solved(name)
    size = max(1.0, abs(p.minimum).max())
    assert found.success and found.message == CONVERGED, f"solve({name}) says {found.message!r}"
    assert_close(found.fun, p.value, f"solve({name}).fun", "the known value", rtol=1e-7, atol=1e-7)
    assert found.violation <= 1e-7 * size, f"solve({name}).violation is {found.violation}"
    if p.unique:
        assert_close(found.x, p.minimum, f"solve({name}).x", "the known minimum", rtol=1e-6, atol=1e-6 * size)
    for part in ("equality_multipliers", "inequality_multipliers"):
        if not np.isnan(getattr(p, part)).any():
            call = f"solve({name}).{part}"
            assert_close(getattr(found, part), getattr(p, part), call, "the known ones", rtol=1e-6, atol=1e-6)
    assert (found.inequality_multipliers >= 0).all(), f"solve({name}) has negative multipliers"
    assert_close(found.fun, p.fun(found.x), f"solve({name}).fun", "the objective at x", rtol=1e-12)
    assert found.nfev == found.nit + 1 and found.path is None, f"solve({name}): nfev {found.nfev}, nit {found.nit}"


def test_solve_needs_hardly_more_steps_for_larger_problems():
    for rank in (0, 1):
        counts = []
        for dim in (6, 24):
            p = random_program(dim, dim // 4, 2 * dim, rank=rank * dim // 2, rng=np.random.default_rng(dim))
            counts.append(solve(p, max_iter=25).nit)
        assert counts[1] <= 2 * counts[0] and max(counts) <= 16, f"for 6 and 24 variables solve makes {counts} steps"
    assert solve(klee_minty(6), max_iter=25).nit <= 20, (
        "the cube has 64 corners, but the way through its middle is short"
    )


def test_solve_converges_faster_and_faster():
    nits = [solved("dense", tol=tol).nit for tol in (1e-2, 1e-5, 1e-8, 1e-11)]
    assert nits[0] < nits[1] and nits[3] - nits[2] <= 2, f"for tol 1e-2, 1e-5, 1e-8 and 1e-11 solve makes {nits} steps"


def test_solve_agrees_with_scipy_on_other_problems():
    rng = np.random.default_rng(12)
    for _ in range(2):  # costs and walls at random, in a box
        n, m = 4, 6
        G, h = np.vstack([rng.standard_normal((m, n)), np.eye(n), -np.eye(n)]), rng.uniform(0.5, 2, m + 2 * n)
        A, q = rng.standard_normal((2, n)), rng.standard_normal(n)
        p = program(q, A=A, b=[0.1, -0.2], G=G, h=h)
        found, peer = solve(p, max_iter=25), linprog(q, G, h, A, p.b, (None, None))
        assert_close(found.fun, peer.fun, "solve(a random box)", "linprog", rtol=1e-6)
        assert_close(found.inequality_multipliers, -peer.ineqlin.marginals, "its lambda", "linprog", atol=1e-6)


def test_solve_satisfies_the_kkt_conditions_of_quadratic_programs():
    p = problems()["dense QP"]
    found = solved("dense QP", tol=1e-10)
    factors = Multipliers(found.equality_multipliers, found.inequality_multipliers)
    verdict = certify(p.constrained(), found.x, factors, tol=1e-7)
    assert verdict.verdict == "minimum", f"certify at the end of solve says {verdict.verdict!r}, {verdict.failures}"


def test_solve_trains_a_support_vector_machine():
    features, signs = iris_pair()
    features, signs = features[38:62], signs[38:62]
    found = solve(svm_dual(features, signs, 1.7), max_iter=25)
    peer = SVC(kernel="linear", C=1.7, tol=1e-8).fit(features, signs)
    weights = (found.x * signs) @ features
    assert_close(weights, peer.coef_[0], "the weights from solve(svm_dual(...))", "SVC.coef_", rtol=1e-3)
    # the multiplier of y'alpha = 0 is the bias
    assert_close(found.equality_multipliers, peer.intercept_, "its nu", "SVC.intercept_", rtol=1e-3)


@pytest.mark.parametrize("name", [*infeasible_programs(), *unbounded_programs()])
def test_solve_reports_problems_without_solution(name):
    p = (infeasible_programs() | unbounded_programs())[name]
    found = solved(name)
    expected = INFEASIBLE if p.value == np.inf else UNBOUNDED
    assert found.message == expected and not found.success, f"solve({name}) says {found.message!r}, not {expected!r}"


def test_solve_finds_a_point_where_there_are_no_costs():
    p = program([0.0, 0.0], A=[[1.0, 2.0]], b=[1.5], G=-np.eye(2), h=[0.0, -0.3])
    found = solve(p, max_iter=25)
    assert found.success and found.violation < 1e-7, f"solve without costs says {found.message!r}, x = {found.x}"


def test_solve_ends_at_the_limit_of_steps_unless_it_has_just_converged():
    p = problems()["HS76"]
    nit = solved("HS76").nit
    last, short = solve(p, max_iter=nit), solve(p, max_iter=nit - 1)
    assert last.success and last.nit == nit, f"with max_iter={nit} solve says {last.message!r} after {last.nit}"
    assert not short.success and short.message == OUT_OF_STEPS, f"with max_iter={nit - 1} it says {short.message!r}"
    assert short.nit == nit - 1, f"with max_iter={nit - 1} solve made {short.nit} steps"


def test_solve_records_its_path():
    p = problems()["wyndor"]
    found = solved("wyndor", record_path=True)
    at = starting_point(p)
    for k, x in enumerate(found.path):
        assert_close(x, at.x, f"solve(wyndor, record_path=True).path[{k}]", "the iterates", rtol=1e-8)
        at = predictor_corrector(p, at)
    assert len(found.path) == found.nit + 1, f"the path has {len(found.path)} points for {found.nit} steps"
    assert_close(found.x, found.path[-1], "solve(wyndor).x", "the last point of the path")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "changes", "options"),
    [
        ("tol", {}, {"tol": 0.0}),
        ("max_iter", {}, {"max_iter": 0}),
        ("q", {"q": np.array([np.nan, 0.0])}, {}),
        ("P", {"P": np.array([[1.0, 0.5], [0.0, 1.0]])}, {}),
        ("P", {"P": np.diag([1.0, -0.1])}, {}),
    ],
)
def test_solve_refuses_what_it_cannot_use(name, changes, options):
    with pytest.raises(ValueError, match=name):
        solve(replace(mixed()[0], **changes), **options)
