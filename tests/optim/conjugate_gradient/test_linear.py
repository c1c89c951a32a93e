"""Shared tests of optim/conjugate_gradient/linear: run on the reference, and on the learner's file.

Everything here is deterministic. Rounding grows with the condition number and with the steps: tolerances of 1e-9 are for
a handful of steps at condition numbers of some tens; wider ones have their reason beside them.
"""

import tracemalloc
from functools import cache

import numpy as np
import pytest

from mlpath.optim.conjugate_gradient.linear import (
    BAD_PRECONDITIONER,
    CONVERGED,
    DRIFTED,
    NOT_DEFINITE,
    NOT_FINITE,
    OUT_OF_STEPS,
    State,
    advance,
    begin,
    chebyshev_bound,
    conjugate,
    conjugate_gradient,
    energy_norm,
    incomplete_cholesky,
    jacobi,
    substitution,
)
from mlpath.testing import assert_close

A3 = np.array([[4.1, 1.3, -0.7], [1.3, 3.2, 0.9], [-0.7, 0.9, 2.6]])
B3 = np.array([1.7, -2.3, 3.1])
DIAGONAL3 = np.array([4.1, 3.2, 2.6])


class Counted:
    """The product with a matrix, which counts how often it is asked for."""

    def __init__(self, matrix):
        self.matrix, self.calls = matrix, 0

    def __call__(self, v):
        self.calls += 1
        return self.matrix @ v


@cache
def system(spectrum, seed=7):
    """A matrix with these eigenvalues at a random angle, a right-hand side and a start."""
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((len(spectrum), len(spectrum))))
    matrix = (axes * np.array(spectrum)) @ axes.T
    return (matrix + matrix.T) / 2, *rng.standard_normal((2, len(spectrum)))


def poisson(side):
    """The Laplacian of a square grid that is surrounded by zeros."""
    line = 2 * np.eye(side) - np.eye(side, k=1) - np.eye(side, k=-1)
    return np.kron(line, np.eye(side)) + np.kron(np.eye(side), line)


def energies(matrix, path, solution):
    """The energy norms of the errors along a path."""
    errors = path - solution
    return np.sqrt(np.einsum("ki,ij,kj->k", errors, matrix, errors))


SPREAD = tuple(np.linspace(1.0, 30.0, 12))


# energy_norm


def test_energy_norm_of_a_case_by_hand():
    # 4.1 * 1.44 + 3.2 * 6.25 + 2.6 * 0.49 + 2 (1.3 * -3 - 0.7 * 0.84 - 0.9 * 1.75), by hand
    v = np.array([1.2, -2.5, 0.7])
    assert_close(energy_norm(Counted(A3), v), 15.052**0.5, f"energy_norm of {v} for {A3.tolist()}", "(2)", rtol=1e-12)


def test_energy_norm_is_the_euclidean_one_for_the_identity():
    v = np.random.default_rng(0).standard_normal(40)
    assert_close(energy_norm(lambda v: v, v), np.linalg.norm(v), "energy_norm for the identity", "the Euclidean length")


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1e200])
def test_energy_norm_grows_with_the_vector_however_long(scale):
    v = np.array([0.0, -2.5, -0.7])  # 3.2 * 6.25 + 2.6 * 0.49 + 2 * 0.9 * 1.75
    call = f"energy_norm of {v} times {scale:g}, divided by {scale:g}"
    assert_close(energy_norm(Counted(A3), scale * v) / scale, 24.424**0.5, call, "(2), which is linear in v's length")


def test_energy_norm_of_the_zero_vector_is_zero():
    norm = energy_norm(Counted(A3), np.zeros(3))
    assert norm == 0, f"energy_norm of the zero vector is {norm}"
    norm = energy_norm(Counted(np.diag([1.0, 0.0])), np.array([0.0, 3.0]))
    assert norm == 0, f"energy_norm of (0, 3) for diag(1, 0), which is singular, is {norm}; v'Av is 0"


@pytest.mark.parametrize("matrix", [np.diag([1.0, -2.0, 1.0]), np.full((3, 3), np.nan)])
def test_energy_norm_refuses_a_negative_square(matrix):
    with pytest.raises(ValueError, match="matvec"):
        energy_norm(Counted(matrix), np.array([0.5, 1.0, 0.5]))


# conjugate


def test_conjugate_of_a_case_by_hand():
    # the first product is (4.1, 1.3, -0.7); with e2 it is 1.3, with e1 4.1; and so on by (4)
    vectors = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, 1.0]])
    got = conjugate(Counted(A3), vectors)
    call = f"conjugate of {vectors.tolist()} for {A3.tolist()}"
    assert_close(got[0], [1.0, 0.0, 0.0], f"the first row of {call}", "(4): the first vector itself")
    assert_close(got[1], [-1.3 / 4.1, 1.0, 0.0], f"the second row of {call}", "(4): e2 - 1.3/4.1 e1", rtol=1e-12)
    # d2'A v3 = (0.9 + 0.7 * 1.3 / 4.1), d2'A d2 = 3.2 - 1.3^2 / 4.1; d1'A v3 = 8.2 - 0.7
    share = (0.9 + 0.7 * 1.3 / 4.1) / (3.2 - 1.3**2 / 4.1)
    third = vectors[2] - 7.5 / 4.1 * np.array([1.0, 0.0, 0.0]) - share * np.array([-1.3 / 4.1, 1.0, 0.0])
    assert_close(got[2], third, f"the third row of {call}", "equation (4)", rtol=1e-12)


def test_conjugate_directions_are_conjugate_and_span_what_the_vectors_do():
    matrix, _, _ = system(SPREAD)
    vectors = np.random.default_rng(1).standard_normal((7, 12))
    before = vectors.copy()
    matvec = Counted(matrix)
    directions = conjugate(matvec, vectors)
    assert_close(vectors, before, "conjugate changed its argument, which now")
    products = directions @ matrix @ directions.T
    lengths = np.sqrt(np.diag(products))
    call = "the products d_i'A d_j of conjugate(...), over the lengths,"
    assert_close(products / np.outer(lengths, lengths), np.eye(7), call, "d_i'A d_j = 0 for i ≠ j", atol=1e-10)
    shares = np.linalg.solve(vectors @ vectors.T, vectors @ directions.T).T
    assert_close(shares @ vectors, directions, "what the vectors can say of the directions", "the same span", atol=1e-9)
    assert_close(np.triu(shares), np.eye(7), "the directions' shares of the vectors", "(4): itself, and those before",
                 atol=1e-8)  # fmt: skip
    assert matvec.calls == 7, f"conjugate made {matvec.calls} products of 7 vectors; one for each is enough"


def test_conjugate_directions_solve_a_system_in_as_many_steps_as_it_has_unknowns():
    matrix, rhs, _ = system(SPREAD)
    x = np.zeros(12)
    for d in conjugate(Counted(matrix), np.eye(12)):
        x = x + d @ (rhs - matrix @ x) / (d @ matrix @ d) * d
    assert_close(matrix @ x, rhs, "A x after 12 exact steps along conjugate(identity)", "equation (5)", atol=1e-9)


def test_conjugate_keeps_float32_and_manages_little_curvature():
    small = conjugate(Counted(1e-20 * A3), np.eye(3))
    assert_close(small, conjugate(Counted(A3), np.eye(3)), "conjugate for 1e-20 A", "that for A: (4) is a ratio")
    got = conjugate(Counted(A3.astype(np.float32)), np.eye(3, dtype=np.float32))
    assert got.dtype == np.float32, f"conjugate of float32 vectors returned {got.dtype}"


@pytest.mark.parametrize("second", [[1.0, 1.0], [2.0, 0.0]])
def test_conjugate_refuses_what_has_no_curvature(second):
    with pytest.raises(ValueError, match="matvec"):
        conjugate(Counted(np.diag([2.0, -1.0])), np.array([[1.0, 0.0], second]))


# begin


def test_begin_starts_from_the_residual():
    x = np.array([0.5, -1.5, 2.0])
    state = begin(Counted(A3), B3, x)
    residual = np.array([1.7 - (2.05 - 1.95 - 1.4), -2.3 - (0.65 - 4.8 + 1.8), 3.1 - (-0.35 - 1.35 + 5.2)])
    call = f"begin for {A3.tolist()}, rhs {B3}, x {x}"
    assert_close(state.x, x, f"{call}: x", "where it starts")
    assert_close(state.residual, residual, f"{call}: residual", "b - A x", rtol=1e-12)
    assert_close(
        state.direction, residual, f"{call}: direction", "(7): the first direction is the residual", rtol=1e-12
    )
    assert_close(state.rho, residual @ residual, f"{call}: rho", "r'r", rtol=1e-12)


def test_begin_applies_the_preconditioner():
    x = np.array([0.5, -1.5, 2.0])
    residual = B3 - A3 @ x
    state = begin(Counted(A3), B3, x, lambda r: r / np.array([4.0, 3.0, 2.5]))
    z = residual / np.array([4.0, 3.0, 2.5])
    call = "begin with a diagonal preconditioner"
    assert_close(state.residual, residual, f"{call}: residual", "b - A x, without it", rtol=1e-12)
    assert_close(state.direction, z, f"{call}: direction", "(10): z", rtol=1e-12)
    assert_close(state.rho, residual @ z, f"{call}: rho", "(10): r'z", rtol=1e-12)


# advance

STATE = State(np.array([0.3, -1.1, 0.7]), np.array([1.9, 0.4, -1.3]), np.array([2.1, -0.8, 0.6]), 3.7)


@pytest.mark.parametrize("divisor", [None, np.array([4.0, 3.0, 2.5])])
def test_advance_of_a_case_by_hand(divisor):
    product = np.array([1.4, 0.5, -1.2])  # the direction has the curvature 2.94 - 0.4 - 0.72
    options = {} if divisor is None else {"precondition": lambda r: r / divisor}
    state = advance(STATE, product, **options)
    alpha = 3.7 / 1.82
    residual = STATE.residual - alpha * product
    z = residual if divisor is None else residual / divisor
    call = f"advance from {STATE} with the product {product}" + ("" if divisor is None else f" and M = diag {divisor}")
    assert_close(state.x, STATE.x + alpha * STATE.direction, f"{call}: x", "equation (6)", rtol=1e-12)
    assert_close(state.residual, residual, f"{call}: residual", "equation (6)", rtol=1e-12)
    assert_close(state.rho, residual @ z, f"{call}: rho", "(10): the new r'z", rtol=1e-12)
    expected = z + residual @ z / 3.7 * STATE.direction
    assert_close(state.direction, expected, f"{call}: direction", "equations (7) and (10)", rtol=1e-12)


def test_advance_leaves_its_state_alone_keeps_float32_and_preconditions_once():
    fields = [v.astype(np.float32) for v in (STATE.x, STATE.residual, STATE.direction)]
    state, product, seen = State(*fields, 3.7), np.float32([1.4, 0.5, -1.2]), []
    new = advance(state, product, lambda r: seen.append(r) or r / np.float32(2))
    for name, now, then in zip(("x", "residual", "direction"), fields, (STATE.x, STATE.residual, STATE.direction)):
        assert_close(now, then.astype(np.float32), f"advance changed {name} of its state, which now")
        got = getattr(new, name)
        assert got.dtype == np.float32, f"advance of float32 vectors made {name} {got.dtype}"
        assert not np.shares_memory(got, now), f"advance wrote the new {name} into the old one's memory"
    assert_close(product, np.float32([1.4, 0.5, -1.2]), "advance changed the product, which now")
    assert len(seen) == 1, f"advance called the preconditioner {len(seen)} times"


def test_advance_makes_orthogonal_residuals_and_conjugate_directions():
    matrix, rhs, x = system(SPREAD)
    states = [begin(Counted(matrix), rhs, x)]
    for _ in range(5):
        states.append(advance(states[-1], matrix @ states[-1].direction))
    residuals = np.array([s.residual / np.linalg.norm(s.residual) for s in states])
    directions = np.array([s.direction / energy_norm(Counted(matrix), s.direction) for s in states])
    assert_close(
        residuals @ residuals.T, np.eye(6), "the products of the first 6 residuals", "orthogonality", atol=1e-9
    )
    products = directions @ matrix @ directions.T
    assert_close(products, np.eye(6), "the products d_i'A d_j of the first 6 directions", "conjugacy", atol=1e-9)


def test_advance_with_a_preconditioner_walks_as_on_the_transformed_system():
    matrix, rhs, x = system(SPREAD)
    rng = np.random.default_rng(3)
    c = np.tril(rng.standard_normal((12, 12)), -1) / 4 + np.diag(rng.uniform(1, 3, 12))
    inner = np.linalg.solve(c, np.linalg.solve(c, matrix).T).T
    plain = begin(Counted(inner), np.linalg.solve(c, rhs), c.T @ x)
    state = begin(Counted(matrix), rhs, x, divide := lambda r: np.linalg.solve(c @ c.T, r))
    for k in range(1, 5):
        plain = advance(plain, inner @ plain.direction)
        state = advance(state, matrix @ state.direction, divide)
        call = f"x after {k} calls of advance with M = C C'"
        assert_close(state.x, np.linalg.solve(c.T, plain.x), call, "CG on C^-1 A C^-T, by (10)", rtol=1e-7, atol=1e-9)


# conjugate_gradient


def test_conjugate_gradient_solves_a_small_system():
    result = conjugate_gradient(Counted(A3), B3, tol=1e-12, record_path=True)
    call = f"conjugate_gradient for {A3.tolist()} and rhs {B3}"
    first = B3 @ B3 / (B3 @ A3 @ B3) * B3
    assert_close(result.path[0], np.zeros(3), f"{call}: path[0]", "the start, zero if not given")
    assert_close(result.path[1], first, f"{call}: path[1]", "a step of (6) along the residual", rtol=1e-12)
    assert_close(result.x, np.linalg.solve(A3, B3), f"{call}.x", "the solution", rtol=1e-9)
    assert result.nit == 3 and result.path.shape == (4, 3), f"{call} made {result.nit} steps, path {result.path.shape}"
    assert result.success and result.message == CONVERGED and result.direction is None, f"{call} says {result}"
    residuals = np.linalg.norm(B3 - result.path @ A3, axis=1)
    assert_close(result.residual_norms, residuals, f"{call}.residual_norms", "b - A x along the path", atol=1e-12)


@pytest.mark.parametrize("preconditioned", [False, True])
def test_conjugate_gradient_makes_the_steps_of_scipy(preconditioned):
    from scipy.sparse.linalg import LinearOperator, cg

    matrix, rhs, start = system(tuple(np.geomspace(1, 80, 20)))
    diagonal = np.linspace(1, 3, 20)
    theirs, options = [start], {}
    if preconditioned:
        options = {"M": LinearOperator((20, 20), lambda r: r / diagonal, dtype=float)}
    cg(matrix, rhs, x0=start, rtol=1e-6, callback=lambda x: theirs.append(x.copy()), **options)
    mine = {"precondition": lambda r: r / diagonal} if preconditioned else {}
    result = conjugate_gradient(Counted(matrix), rhs, start=start, tol=1e-6, record_path=True, **mine)
    call = f"conjugate_gradient {'with' if preconditioned else 'without'} a preconditioner"
    # Both lose orthogonality to rounding, at 20 steps by a factor of some 1e6 above it.
    assert_close(result.path, np.array(theirs), f"{call}: path", "scipy.sparse.linalg.cg's", rtol=1e-6, atol=1e-7)
    residuals = np.linalg.norm(rhs - result.path @ matrix, axis=1)
    assert_close(result.residual_norms, residuals, f"{call}: residual_norms", "the lengths of b - A x", rtol=1e-6)
    assert result.nit == len(theirs) - 1 and result.success, f"{call} made {result.nit} steps, SciPy {len(theirs) - 1}"


def test_conjugate_gradient_is_the_best_in_the_krylov_space():
    matrix, rhs, start = system(SPREAD)
    result = conjugate_gradient(Counted(matrix), rhs, start=start, record_path=True)
    solution = np.linalg.solve(matrix, rhs)
    root = np.linalg.cholesky(matrix).T  # the energy norm is the Euclidean one after this
    krylov = [rhs - matrix @ start]
    for k in range(1, 7):
        basis, _ = np.linalg.qr(np.array(krylov).T)
        best = start + basis @ np.linalg.lstsq(root @ basis, root @ (solution - start))[0]
        call = f"conjugate_gradient: the point after {k} steps"
        assert_close(result.path[k], best, call, "least squares in the Krylov space, (8)", rtol=1e-6, atol=1e-8)
        krylov.append(matrix @ basis[:, -1])


def test_conjugate_gradient_ends_after_as_many_steps_as_there_are_distinct_eigenvalues():
    for spectrum in ((2.0,) * 9, (1.0, 5.0) * 5, (1.0,) * 30 + (3.0, 8.0, 8.0, 20.0)):
        matrix, rhs, _ = system(spectrum)
        result = conjugate_gradient(Counted(matrix), rhs, tol=1e-10)
        distinct = len(set(spectrum))
        assert result.nit == distinct, (
            f"with {distinct} distinct eigenvalues among {len(spectrum)} it made {result.nit} steps"
        )


def test_conjugate_gradient_shrinks_the_energy_at_every_step_however_the_residual_behaves():
    matrix, rhs, start = system(tuple(np.geomspace(1e-3, 1, 30)))
    result = conjugate_gradient(Counted(matrix), rhs, start=start, record_path=True)
    energy = energies(matrix, result.path, np.linalg.solve(matrix, rhs))[:25]
    assert (np.diff(energy) < 0).all(), f"the energy norm of the error rose: {energy}"


@pytest.mark.parametrize("case", ["singular", "zero rhs", "exact start"])
def test_conjugate_gradient_manages_special_systems(case):
    matrix, rhs, start = system((0.0, 0.0, *np.linspace(1, 9, 8)) if case == "singular" else SPREAD)
    if case == "singular":
        rhs = matrix @ rhs  # in the range; the solution keeps the start's part in the null space
        solution = start + np.linalg.pinv(matrix, rcond=1e-8) @ (rhs - matrix @ start)
    elif case == "zero rhs":
        rhs = solution = np.zeros(12)
    else:
        rhs, solution = matrix @ start, start
    result = conjugate_gradient(Counted(matrix), rhs, start=start, tol=1e-10)
    assert result.success, f"conjugate_gradient, {case}: {result.message}"
    assert_close(result.x, solution, f"conjugate_gradient, {case}: x", "the solution next to the start", atol=1e-8)
    if case == "exact start":
        assert result.nit == 0, f"conjugate_gradient from the solution made {result.nit} steps"


def test_conjugate_gradient_never_calls_it_success_if_there_is_no_solution():
    for seed in range(5):
        matrix, rhs, _ = system((0.0, 1.0, 2.0, 4.0), seed)  # rhs has a part in the null space
        with np.errstate(all="ignore"):
            result = conjugate_gradient(Counted(matrix), rhs)
        assert not result.success, f"A x = b has no solution, and conjugate_gradient says {result.message!r}"


def test_conjugate_gradient_reports_negative_curvature_and_gives_its_direction():
    matrix, rhs, start = system((-3.0, *np.linspace(1, 9, 8)))
    result = conjugate_gradient(Counted(matrix), rhs, start=start, record_path=True)
    call = "conjugate_gradient with an eigenvalue of -3"
    assert not result.success and result.message == NOT_DEFINITE, f"{call} says {result.message!r}"
    d = result.direction
    assert d is not None and d @ matrix @ d <= 0, f"{call} returned the direction {d}"
    assert_close(result.path[-1], result.x, f"{call}: the last point of the path", "x: the bad direction is not walked")
    assert len(result.path) == len(result.residual_norms) == result.nit + 1, f"{call}: nit {result.nit}"
    for earlier in np.diff(result.path, axis=0):
        cosine = earlier @ matrix @ d / (np.linalg.norm(earlier) * np.linalg.norm(matrix @ d))
        assert abs(cosine) < 1e-8, f"{call}: the direction is not conjugate to an earlier one, cosine {cosine}"


def test_conjugate_gradient_reports_a_direction_without_curvature_at_once():
    result = conjugate_gradient(Counted(np.diag([1.0, -1.0])), np.array([2.5, 2.5]), start=[0.0, 0.0])
    assert (result.nit, result.message) == (0, NOT_DEFINITE), f"d'A d = 0 at the start: {result}"
    assert_close(result.direction, [2.5, 2.5], "conjugate_gradient for diag(1, -1): the direction", "the residual")
    assert_close(result.true_residual_norm, 12.5**0.5, "its true_residual_norm", "the length of (2.5, 2.5)")


def test_conjugate_gradient_says_why_it_stopped():
    matrix, rhs, _ = system(SPREAD)
    result = conjugate_gradient(Counted(matrix), rhs, max_iter=4)
    assert (result.nit, result.message, result.success) == (4, OUT_OF_STEPS, False), f"max_iter=4: {result}"
    exact = conjugate_gradient(Counted(system((1.0, 5.0) * 5)[0]), rhs[:10], max_iter=2)
    assert exact.success, f"it converges at the second step, which max_iter=2 allows: {exact.message!r}"
    bad = conjugate_gradient(Counted(matrix), rhs, precondition=lambda r: -r)
    assert (bad.message, bad.success, bad.direction) == (BAD_PRECONDITIONER, False, None), f"M = -1: {bad.message!r}"
    for broken in ({"matvec": lambda v: v * np.nan}, {"precondition": lambda r: r * np.inf}):
        with np.errstate(all="ignore"):
            result = conjugate_gradient(**{"matvec": Counted(matrix), "rhs": rhs} | broken)
        assert result.message == NOT_FINITE, f"with {list(broken)} not finite: {result.message!r}"
        assert not result.success and result.direction is None, f"{list(broken)} not finite: {result}"
    late = iter([1.0, 1.0, np.nan, 1.0])
    result = conjugate_gradient(lambda v: next(late) * matrix @ v, rhs)
    assert (result.nit, result.message, result.direction) == (1, NOT_FINITE, None), f"NaN at the second step: {result}"


def test_conjugate_gradient_runs_ten_times_the_unknowns_at_most():
    matrix, rhs, _ = system(tuple(np.geomspace(1e-14, 1, 8)))
    result = conjugate_gradient(Counted(matrix), rhs, tol=0.0)
    assert result.nit <= 80 and not result.success, f"tol=0 on a hopeless system: {result.nit} steps, {result.message}"


def test_conjugate_gradient_measures_the_residual_against_the_right_hand_side():
    matrix, rhs, start = system(SPREAD)
    for scale in (1e-140, 1e3, 1e140):
        result = conjugate_gradient(Counted(matrix), scale * rhs, start=100 * scale * start, tol=1e-3)
        norms, limit = result.residual_norms, 1e-3 * scale * np.linalg.norm(rhs)
        call = f"conjugate_gradient with tol=1e-3 and a right-hand side of size {scale:g}"
        assert result.success and norms[-1] <= limit < norms[-2], (
            f"{call} stopped at the residuals {norms[-2:]}; the limit is {limit:g}"
        )
        true = np.linalg.norm(scale * rhs - matrix @ result.x)
        assert_close(result.true_residual_norm, true, f"{call}: true_residual_norm", "(12)", rtol=1e-6)


def test_conjugate_gradient_does_not_believe_the_residual_that_it_carries_forward():
    matrix, rhs, start = system(tuple(np.geomspace(1e-3, 1, 10)))
    result = conjugate_gradient(Counted(matrix), rhs, start=1e6 * start, tol=1e-14, max_iter=1000)
    call = "conjugate_gradient from a start at 1e6, with tol=1e-14"
    assert result.residual_norms[-1] <= 1e-14 * np.linalg.norm(rhs), f"{call}: {result.residual_norms[-3:]}"
    true = np.linalg.norm(rhs - matrix @ result.x)
    assert true > 1e-12, f"the test itself: the true residual of {call} is {true}"
    assert 0.1 * true < result.true_residual_norm < 10 * true, f"{call}: {result.true_residual_norm}, in truth {true}"
    assert not result.success and result.message == DRIFTED, f"{call} says {result.message!r}, in truth {true}"


@pytest.mark.parametrize(("share", "success"), [(1.8, True), (2.2, False)])
def test_conjugate_gradient_allows_the_true_residual_twice_the_tolerance(share, success):
    off = iter([0.0, 0.0, 0.01 * share])  # the third product, which checks the result, is wrong by so much
    result = conjugate_gradient(lambda v: v + next(off) * np.array([3.0, 4.0]), [3.0, 4.0], tol=0.01)
    true = 0.05 * share
    assert_close(result.true_residual_norm, true, "the true residual of a matvec that errs at last", "(12)", rtol=1e-9)
    assert result.success == success, f"a true residual of {share} times the limit: {result.message!r}"


def test_conjugate_gradient_counts_its_products():
    matvec = Counted(system(SPREAD)[0])
    result = conjugate_gradient(matvec, system(SPREAD)[1])
    assert matvec.calls == result.nit + 2, (
        f"{matvec.calls} products for {result.nit} steps: one a step, one at the start, one at the end"
    )


def test_conjugate_gradient_leaves_its_arguments_alone_and_keeps_float32():
    matrix, rhs, start = (v.astype(np.float32) for v in system(SPREAD))
    before = rhs.copy(), start.copy()
    result = conjugate_gradient(Counted(matrix), rhs, start=start, tol=1e-4, record_path=True)
    assert_close(rhs, before[0], "conjugate_gradient changed rhs, which now")
    assert_close(start, before[1], "conjugate_gradient changed start, which now")
    assert result.x.dtype == result.path.dtype == np.float32, f"float32 in, {result.x.dtype} out"
    assert result.success, f"in float32 with tol=1e-4: {result.message!r}"
    assert_close(result.x, np.linalg.solve(matrix, rhs), "conjugate_gradient in float32: x", atol=1e-2)
    doubles = conjugate_gradient(lambda v: 2 * v, [3, 5], tol=0.0)  # exact, even in rounding
    assert doubles.success, f"with tol=0 and a residual of exactly 0: {doubles.message!r}"
    assert_close(doubles.x, [1.5, 2.5], "conjugate_gradient for twice the identity and rhs [3, 5]: x")


def test_conjugate_gradient_without_record_path_keeps_no_points_and_little_memory():
    n = 5_000
    diagonal = np.linspace(1, 50, n)
    tracemalloc.start()
    result = conjugate_gradient(lambda v: diagonal * v, np.ones(n), tol=1e-10, max_iter=150)
    peak = tracemalloc.get_traced_memory()[1] / (8 * n)
    tracemalloc.stop()
    assert result.path is None, "conjugate_gradient returned a path that nobody asked for"
    assert result.success and result.nit > 40, f"{result.nit} steps, {result.message!r}"
    assert peak < 20, f"after {result.nit} steps there were {peak:.0f} vectors in memory; a dozen are enough"


def test_conjugate_gradient_works_with_functions_that_write_into_one_array():
    matrix, rhs, _ = system(SPREAD)
    buffers = np.empty((2, 12))
    result = conjugate_gradient(
        lambda v: np.matmul(matrix, v, out=buffers[0]), rhs, precondition=lambda r: np.divide(r, 2, out=buffers[1])
    )
    assert_close(result.x, np.linalg.solve(matrix, rhs), "conjugate_gradient with reused buffers: x", atol=1e-6)


def test_conjugate_gradient_lets_an_error_of_the_user_through():
    def matvec(v):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        conjugate_gradient(matvec, [1.0, 2.0])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rhs", {"rhs": []}),
        ("rhs", {"rhs": [[1.0, 2.0]]}),
        ("rhs", {"rhs": [1.0, np.nan]}),
        ("start", {"start": [1.0]}),
        ("start", {"start": [1.0, np.inf]}),
        ("tol", {"tol": -1.0}),
        ("tol", {"tol": np.nan}),
        ("max_iter", {"max_iter": 0}),
    ],
)
def test_conjugate_gradient_refuses_what_it_cannot_use(name, arguments):
    with pytest.raises(ValueError, match=name):
        conjugate_gradient(**{"matvec": lambda v: v, "rhs": [1.0, 2.0]} | arguments)


@pytest.mark.parametrize("name", ["matvec", "precondition"])
def test_conjugate_gradient_refuses_a_product_of_the_wrong_shape(name):
    with pytest.raises(ValueError, match=name):
        conjugate_gradient(**{"matvec": lambda v: v, "rhs": [1.0, 2.0]} | {name: lambda v: v[:, None]})


# chebyshev_bound


def test_chebyshev_bound_of_cases_by_hand():
    assert_close(chebyshev_bound(25.0, 3), 2 * (4 / 6) ** 3, "chebyshev_bound(25, 3)", "equation (9)", rtol=1e-12)
    assert_close(chebyshev_bound(7.3, 0), 2.0, "chebyshev_bound(7.3, 0)", "(9) with k = 0", rtol=1e-12)
    assert_close(chebyshev_bound(1.0, 1), 0.0, "chebyshev_bound(1, 1)", "(9): one step is enough", atol=1e-15)
    q = (7.3**0.5 - 1) / (7.3**0.5 + 1)
    assert_close(chebyshev_bound(7.3, 5), 2 * q**5, "chebyshev_bound(7.3, 5)", "equation (9)", rtol=1e-12)


def test_chebyshev_bound_holds_on_known_spectra_and_is_not_idle():
    for spectrum in (SPREAD, tuple(np.geomspace(1, 400, 60)), tuple(np.linspace(1, 400, 60))):
        matrix, rhs, start = system(spectrum)
        result = conjugate_gradient(Counted(matrix), rhs, start=start, record_path=True, tol=1e-6, max_iter=150)
        energy = energies(matrix, result.path, np.linalg.solve(matrix, rhs))
        bounds = np.array([chebyshev_bound(max(spectrum), k) for k in range(result.nit + 1)])
        call = f"chebyshev_bound for kappa = {max(spectrum):g}"
        assert (energy <= bounds * energy[0] * (1 + 1e-9)).all(), f"{call} was broken: {energy / energy[0]} > {bounds}"
    # Eigenvalues that crowd towards both ends, as the extremes of Chebyshev's polynomials do, come near the bound.
    spectrum = (101 + 99 * np.cos(np.linspace(0, np.pi, 40))) / 2
    result = conjugate_gradient(lambda v: spectrum * v, spectrum**0.5, max_iter=60, record_path=True)
    energy = energies(np.diag(spectrum), result.path[:16], spectrum**-0.5)
    bounds = np.array([chebyshev_bound(100.0, k) for k in range(16)])
    assert (energy >= 0.3 * bounds * energy[0]).all(), f"the bound for kappa = 100 is too generous: {bounds}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("condition", (0.9, 3)), ("condition", (np.nan, 3)), ("condition", (np.inf, 3)), ("n_steps", (3.0, -1))],
)
def test_chebyshev_bound_refuses_what_it_cannot_use(name, arguments):
    with pytest.raises(ValueError, match=name):
        chebyshev_bound(*arguments)


# jacobi


def test_jacobi_divides_by_the_diagonal():
    z = jacobi(DIAGONAL3)(B3)
    assert_close(z, [1.7 / 4.1, -2.3 / 3.2, 3.1 / 2.6], f"jacobi({DIAGONAL3})({B3})", "(10) with M = diag", rtol=1e-12)
    low = np.float32([1.7, -2.3, 3.1])
    z = jacobi(DIAGONAL3)(low)
    assert z.dtype == np.float32, f"jacobi(float64 diagonal) of a float32 vector returned {z.dtype}"
    assert_close(low, np.float32([1.7, -2.3, 3.1]), "jacobi(diagonal) changed the residual, which now")


def test_jacobi_makes_one_step_of_a_diagonal_system_and_few_of_a_badly_scaled_one():
    diagonal = np.geomspace(1e-8, 1e8, 15)
    result = conjugate_gradient(lambda v: diagonal * v, np.ones(15), precondition=jacobi(diagonal))
    assert result.nit == 1 and result.success, f"M = A: {result.nit} steps, {result.message!r}"
    matrix, rhs, _ = system(SPREAD)
    scales = np.geomspace(1e-4, 1e4, 12)
    scaled = scales[:, None] * matrix * scales
    plain = conjugate_gradient(Counted(scaled), rhs, tol=1e-8)
    helped = conjugate_gradient(Counted(scaled), rhs, tol=1e-8, precondition=jacobi(np.diag(scaled).copy()))
    assert helped.success and helped.nit <= 24, f"with jacobi: {helped.nit} steps, {helped.message!r}"
    assert plain.nit > 2 * helped.nit, f"without jacobi it took {plain.nit} steps, with it {helped.nit}"


@pytest.mark.given
@pytest.mark.parametrize("diagonal", [[1.0, 0.0], [1.0, -2.0], [1.0, np.nan], [[1.0]], [1.0, np.inf]])
def test_jacobi_refuses_what_is_not_positive(diagonal):
    with pytest.raises(ValueError, match="diagonal"):
        jacobi(np.array(diagonal))


# incomplete_cholesky


def test_incomplete_cholesky_of_a_case_by_hand():
    matrix = np.array([[4.0, 1.0, 0.0, 2.0], [1.0, 5.0, 3.0, 0.0], [0.0, 3.0, 6.0, 1.5], [2.0, 0.0, 1.5, 7.0]])
    lower = incomplete_cholesky(matrix)
    second, third = 4.75**0.5, (6 - 9 / 4.75) ** 0.5
    expected = np.zeros((4, 4))
    expected[0, 0], expected[1, 0], expected[3, 0] = 2.0, 0.5, 1.0
    expected[1, 1], expected[2, 1] = second, 3 / second  # what would fill (4, 2), -0.5, is dropped
    expected[2, 2], expected[3, 2] = third, 1.5 / third
    expected[3, 3] = (7 - 1 - 2.25 / third**2) ** 0.5
    assert_close(lower, expected, f"incomplete_cholesky({matrix.tolist()})", "equation (11)", rtol=1e-12)


def test_incomplete_cholesky_of_a_full_matrix_is_the_complete_factor():
    matrix, _, _ = system(SPREAD)
    before = matrix.copy()
    call = "incomplete_cholesky of a matrix without zeros"
    assert_close(incomplete_cholesky(matrix), np.linalg.cholesky(matrix), call, "Cholesky's factor", atol=1e-10)
    assert_close(matrix, before, "incomplete_cholesky changed its argument, which now")
    low = incomplete_cholesky(matrix.astype(np.float32))
    assert low.dtype == np.float32, f"incomplete_cholesky of a float32 matrix returned {low.dtype}"


def test_incomplete_cholesky_agrees_with_the_matrix_wherever_that_is_not_zero():
    matrix = poisson(6) + np.diag(np.linspace(0, 1, 36))
    lower = incomplete_cholesky(matrix)
    assert not lower[np.tril(matrix) == 0].any(), "incomplete_cholesky has entries where the matrix is zero"
    product = np.where(matrix != 0, lower @ lower.T, 0)
    assert_close(product, matrix, "L L' where the matrix is not zero", "the matrix itself", atol=1e-12)


def test_incomplete_cholesky_keeps_the_pattern_of_the_matrix_not_of_what_becomes_of_it():
    # the entry (4, 3) is 0.5 - 0.5 * 1 = 0 after the first column, and is changed by the second
    matrix = np.array([[1.0, 1.0, 1.0, 0.5], [1.0, 3.0, 1.9, 1.5], [1.0, 1.9, 4.0, 0.5], [0.5, 1.5, 0.5, 5.0]])
    call = "incomplete_cholesky of a full matrix of which an entry vanishes on the way"
    assert_close(incomplete_cholesky(matrix), np.linalg.cholesky(matrix), call, "Cholesky's factor", atol=1e-12)


def test_incomplete_cholesky_halves_the_steps_on_a_grid():
    matrix = poisson(8)
    rhs = np.random.default_rng(5).standard_normal(64)
    plain = conjugate_gradient(Counted(matrix), rhs, max_iter=150)
    helped = conjugate_gradient(
        Counted(matrix), rhs, precondition=substitution(incomplete_cholesky(matrix)), max_iter=150
    )
    assert_close(matrix @ helped.x, rhs, "A x with the incomplete factor", "b", atol=1e-6)
    assert helped.success and helped.nit <= 0.6 * plain.nit, f"{plain.nit} steps without, {helped.nit} with it"


@pytest.mark.parametrize(
    ("matrix", "order"),
    [
        ([[3.0, -2.0, 0.0, 2.0], [-2.0, 3.0, -2.0, 0.0], [0.0, -2.0, 3.0, -2.0], [2.0, 0.0, -2.0, 3.0]], 4),  # [5]
        ([[4.0, 2.0, 0.0], [2.0, 1.0, 1.0], [0.0, 1.0, 3.0]], 2),
        ([[-1.0, 0.0], [0.0, 1.0]], 1),
    ],
)
def test_incomplete_cholesky_says_which_pivot_is_not_positive(matrix, order):
    with pytest.raises(np.linalg.LinAlgError, match=f"order {order}"):
        incomplete_cholesky(np.array(matrix))


@pytest.mark.given
@pytest.mark.parametrize("matrix", [np.ones((2, 3)), np.array([[1.0, 2.0], [0.0, 1.0]]), np.full((2, 2), np.nan)])
def test_incomplete_cholesky_refuses_what_is_not_symmetric(matrix):
    with pytest.raises(ValueError, match="matrix"):
        incomplete_cholesky(matrix)
