"""Shared tests of linalg/matrix_completion: run on the reference, and on the learner's file.

What takes one SVD is right to a thousand roundings of the largest singular value. Solutions of (4) and (7) are right to what the tolerance of the iteration leaves, some hundred
times that of its last step. Both problems are convex: every right solution comes to the same numbers.
"""

import functools

import numpy as np
import pytest

from mlpath.linalg.matrix_completion import (
    largest_penalty,
    objective,
    pursuit_step,
    robust_pca,
    shrink_singular_values,
    soft_impute,
    soft_impute_path,
    soft_threshold,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-10, "atol": 1e-12, "tolerance": "nothing but rounding separates them"}
A = np.array([[2.7, -1.3, 0.8], [0.4, 3.9, -2.2], [-1.6, 0.5, 4.6], [3.3, 1.1, -0.7]])
MASK = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
Z = np.array([[2.1, -0.6, 0.3], [0.9, 2.8, -1.7], [-0.2, 1.5, 3.4], [2.5, 0.4, 0.6]])
S = np.array([[0.0, 1.4, 0.0], [0.0, 0.0, -2.3], [0.7, 0.0, 0.0], [0.0, 0.0, 0.0]])
M = np.array([[0.3, -0.8, 0.1], [0.6, 0.2, -0.4], [-0.9, 0.5, 0.7], [0.4, -0.1, 0.8]])
SHAPES = [(5, 4), (4, 7), (6, 6), (5, 1)]


def random_matrix(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def low_rank(shape, rank, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))


def shrunk(y, level):
    """Equation (2), value after value."""
    u, s, vt = np.linalg.svd(y, full_matrices=False)
    return sum((max(s[i] - level, 0) * np.outer(u[:, i], vt[i]) for i in range(len(s))), np.zeros(y.shape))


def soft(x, level):
    return np.where(x > level, x - level, np.where(x < -level, x + level, 0.0))


def value_of(a, mask, z, penalty):
    """Equation (4)."""
    return 0.5 * sum((a[i] - z[i]) ** 2 for i in zip(*np.nonzero(mask), strict=True)) + penalty * np.linalg.norm(
        z, "nuc"
    )


def assert_subgradient(g, z, call, atol):
    """`g` is a subgradient of the nuclear norm at `z`, by (3)."""
    u, s, vt = np.linalg.svd(z, full_matrices=False)
    rank = int((s > 1e-6 * max(s[0], 1e-300)).sum()) if s[0] > 0 else 0
    u, vt = u[:, :rank], vt[:rank]
    assert_close(u.T @ g, vt, f"U'G of {call}", "V', by (3)", rtol=0, atol=atol)
    assert_close(g @ vt.T, u, f"GV of {call}", "U, by (3)", rtol=0, atol=atol)
    size = np.linalg.norm(g, 2)
    assert size <= 1 + atol, f"G of {call} has the norm {size:.6f}, expected at most 1 by (3)"


# soft_threshold


def test_soft_threshold_by_hand():
    x = np.array([[2.7, -0.35], [-4.1, 0.9], [-1.2, 1.25]])
    expected = [[1.5, 0.0], [-2.9, 0.0], [0.0, 0.05]]
    assert_close(soft_threshold(x, 1.2), expected, "soft_threshold(x, 1.2)", "equation (1)", **ROUNDING)
    assert_close(soft_threshold(x, 0.0), x, "soft_threshold(x, 0)", "x", rtol=0)


def test_soft_threshold_is_the_minimum_of_equation_1():
    x, grid = random_matrix((6,)), np.linspace(-4, 4, 8001)
    for level in (0.2, 1.0):
        best = grid[np.argmin((grid - x[:, None]) ** 2 / 2 + level * abs(grid), axis=1)]
        call = f"soft_threshold(x, {level})"
        assert_close(soft_threshold(x, level), best, call, "(1), on a grid", rtol=0, atol=6e-4)


def test_soft_threshold_takes_any_shape_and_keeps_its_argument():
    for shape in ((3,), (2, 3, 4)):
        x = random_matrix(shape)
        got = soft_threshold(x, 0.5)
        assert_close(got, soft(x, 0.5), f"soft_threshold(shape {shape}, 0.5)", "equation (1)", **ROUNDING)
        assert np.array_equal(x, random_matrix(shape)), "soft_threshold changed x"
    got = soft_threshold(np.float32([1.5, -2.5]), 0.5).dtype
    assert got == np.float32, f"soft_threshold of float32 is {got}, expected float32"
    got = soft_threshold(np.array([1e-300, -1e300]), 1e-310)
    assert_close(got, [1e-300 - 1e-310, -1e300], "soft_threshold of 1e-300 and -1e300", "equation (1)", rtol=1e-12)


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "level", "named"),
    [(A, -0.1, "level"), (A, np.nan, "level"), (A, np.inf, "level"), (A * np.nan, 1.0, "x"), (A[:0], 1.0, "x")],
)
def test_soft_threshold_refuses(x, level, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        soft_threshold(x, level)


# shrink_singular_values


def test_shrink_singular_values_of_a_matrix_whose_svd_is_known():
    u = np.array([[0.6, 0.0], [0.0, 1.0], [0.8, 0.0]])
    v = np.array([[0.28, 0.96], [-0.96, 0.28]])
    matrix, values = shrink_singular_values((u * [3.7, 2.9]) @ v, 1.3)
    call = "shrink_singular_values(of the singular values 3.7 and 2.9, 1.3)"
    assert_close(matrix, (u * [2.4, 1.6]) @ v, f"the matrix of {call}", "equation (2)", **ROUNDING)
    assert_close(values, [2.4, 1.6], f"the values of {call}", "equation (2)", **ROUNDING)
    matrix, values = shrink_singular_values((u * [3.7, 2.9]) @ v, 3.1)
    assert_close(
        matrix, 0.6 * np.outer(u[:, 0], v[0]), "its matrix with the level 3.1", "one value is left", **ROUNDING
    )
    assert_close(values, [0.6, 0.0], "its values with the level 3.1", "from the largest, with zeros", **ROUNDING)


@pytest.mark.parametrize("shape", SHAPES)
def test_shrink_singular_values_meets_the_condition_for_the_minimum(shape):
    y = 2 * random_matrix(shape)
    for level in (0.4, 1.5):
        z, values = shrink_singular_values(y, level)
        call = f"shrink_singular_values(a matrix of shape {shape}, {level})"
        assert_close(z, shrunk(y, level), call, "equation (2)", **ROUNDING)
        assert_close(
            values, np.linalg.svd(z, compute_uv=False), f"the values of {call}", "those of its matrix", **ROUNDING
        )
        assert_subgradient((y - z) / level, z, call, 1e-10)


def test_shrink_singular_values_of_extremes():
    for level in (np.linalg.norm(A, 2) * 1.001, 1e9):
        matrix, values = shrink_singular_values(A, level)
        assert not matrix.any() and not values.any(), f"shrink_singular_values(A, {level:.4g}) is not all zero"
    for level, scale in ((0.7, 1e-200), (0.7, 1e200)):
        matrix, _ = shrink_singular_values(scale * A, scale * level)
        call = f"shrink_singular_values({scale:g} A, {scale:g} * 0.7)"
        assert_close(matrix / scale, shrunk(A, 0.7), call, "as many times that of A", **ROUNDING)
    matrix, _ = shrink_singular_values(A, 0.0)
    assert_close(matrix, A, "shrink_singular_values(A, 0)", "A", **ROUNDING)


def test_shrink_singular_values_keeps_to_its_argument():
    a = A.copy()
    shrink_singular_values(a, 1.0)
    assert np.array_equal(a, A), "shrink_singular_values changed the matrix"
    got = [part.dtype.name for part in shrink_singular_values(A.astype(np.float32), 1.0)]
    assert got == ["float32", "float32"], f"shrink_singular_values of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(("a", "level", "named"), [(A, -1.0, "level"), (A[0], 1.0, "a"), (A * np.inf, 1.0, "a")])
def test_shrink_singular_values_refuses(a, level, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        shrink_singular_values(a, level)


# objective


def test_objective_by_hand():
    # Of Z = 2 u v' with u and v of length 1 the nuclear norm is 2.
    z = 2 * np.outer([0.6, 0.0, 0.8], [0.28, 0.96])
    a, mask = np.array([[1.5, 0.7], [9.0, 0.4], [-0.3, 9.0]]), np.array([[1, 1], [0, 1], [1, 0]], dtype=bool)
    expected = 0.5 * ((1.5 - 0.336) ** 2 + (0.7 - 1.152) ** 2 + 0.4**2 + (-0.3 - 0.448) ** 2) + 0.35 * 2
    assert_close(objective(a, mask, z, 0.35), expected, "objective(a, mask, 2 u v', 0.35)", "equation (4)", **ROUNDING)


def test_objective_follows_equation_4():
    for penalty in (0.3, 2.0):
        got = objective(A, MASK, Z, penalty)
        assert_close(
            got, value_of(A, MASK, Z, penalty), f"objective(A, mask, Z, {penalty})", "equation (4)", **ROUNDING
        )


HOLES = [np.nan, np.inf, 1e9]


@pytest.mark.parametrize("hole", HOLES)
def test_objective_does_not_look_into_the_holes(hole):
    got, expected = objective(np.where(MASK, A, hole), MASK, Z, 0.5), value_of(A, MASK, Z, 0.5)
    assert_close(got, expected, f"objective(A with {hole} where the mask is false)", "equation (4)", **ROUNDING)


BAD_DATA = [
    (A, MASK.astype(int), "mask"),
    (A, MASK[:3], "mask"),
    (A, MASK & False, "mask"),
    (A[0], MASK[0], "a"),
    (np.where(MASK, np.nan, A), MASK, "a"),
]


@pytest.mark.given
@pytest.mark.parametrize(("a", "mask", "named"), BAD_DATA)
def test_objective_refuses_bad_data(a, mask, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        objective(a, mask, Z, 1.0)


@pytest.mark.given
@pytest.mark.parametrize(
    ("z", "penalty", "named"),
    [(Z[:2], 1.0, "matrix"), (Z * np.nan, 1.0, "matrix"), (Z, 0.0, "penalty"), (Z, -1.0, "penalty")],
)
def test_objective_refuses(z, penalty, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        objective(A, MASK, z, penalty)


# largest_penalty


@pytest.mark.parametrize("hole", HOLES)
def test_largest_penalty_is_the_largest_singular_value_with_zeros_in_the_holes(hole):
    expected = np.linalg.svd(np.where(MASK, A, 0), compute_uv=False)[0]
    got = largest_penalty(np.where(MASK, A, hole), MASK)
    assert_close(got, expected, f"largest_penalty(A with {hole} where the mask is false)", "equation (6)", **ROUNDING)


def test_largest_penalty_is_where_zero_is_just_the_best():
    edge = largest_penalty(A, MASK)
    zero = np.zeros_like(A)
    u, _, vt = np.linalg.svd(np.where(MASK, A, 0))
    step = 1e-3 * np.outer(u[:, 0], vt[0])
    for factor, better in ((0.99, True), (1.01, False)):
        gain = value_of(A, MASK, zero, factor * edge) - value_of(A, MASK, step, factor * edge)
        assert (gain > 0) == better, (
            f"at {factor} times largest_penalty(A, mask) = {edge:.4f} zero is {better} to improve"
        )


@pytest.mark.given
@pytest.mark.parametrize(("a", "mask", "named"), BAD_DATA)
def test_largest_penalty_refuses(a, mask, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        largest_penalty(a, mask)


# soft_impute


def test_soft_impute_begins_with_zeros_in_the_holes_and_goes_on_with_its_own_estimate():
    first = shrunk(np.where(MASK, A, 0), 1.4)
    second = shrunk(np.where(MASK, A, first), 1.4)
    for n, expected in ((1, first), (2, second)):
        got = soft_impute(A, MASK, 1.4, tol=0, max_iterations=n)
        call = f"soft_impute(A, mask, 1.4, max_iterations={n})"
        assert_close(got.matrix, expected, f"{call}.matrix", "equation (5)", **ROUNDING)
        values = np.linalg.svd(expected, compute_uv=False)
        assert_close(got.singular_values, values, f"{call}.singular_values", "those of .matrix", **ROUNDING)


def test_soft_impute_can_start_elsewhere():
    got = soft_impute(A, MASK, 1.4, start=Z, tol=0, max_iterations=1)
    expected = shrunk(np.where(MASK, A, Z), 1.4)
    assert_close(
        got.matrix, expected, "soft_impute(A, mask, 1.4, start=Z, max_iterations=1)", "equation (5)", **ROUNDING
    )
    move = np.linalg.norm(expected - Z) / np.linalg.norm(A[MASK])
    assert_close(got.changes, [move], "its .changes", "the step over the norm of what was observed", **ROUNDING)


def test_soft_impute_records_objectives_and_changes():
    got = soft_impute(A, MASK, 0.8, tol=0, max_iterations=3)
    z, objectives, changes = np.zeros_like(A), [], []
    for _ in range(3):
        new = shrunk(np.where(MASK, A, z), 0.8)
        objectives.append(value_of(A, MASK, new, 0.8))
        changes.append(np.linalg.norm(new - z) / np.linalg.norm(A[MASK]))
        z = new
    call = "soft_impute(A, mask, 0.8, max_iterations=3)"
    assert_close(got.objectives, objectives, f"{call}.objectives", "equation (4) after each step", **ROUNDING)
    assert_close(got.changes, changes, f"{call}.changes", "steps over the norm of what was observed", **ROUNDING)
    assert not got.converged, f"{call} says it converged, with tol=0 and changes {got.changes}"


@pytest.mark.parametrize(("shape", "rank"), [((8, 6), 1), ((6, 9), 2)])
def test_soft_impute_ends_at_the_minimum(shape, rank):
    a = low_rank(shape, rank, seed=1)
    mask = np.random.default_rng(2).random(shape) < 0.8
    penalty = 0.1 * np.linalg.norm(np.where(mask, a, 0), 2)
    got = soft_impute(a, mask, penalty, tol=1e-9, max_iterations=200)
    call = f"soft_impute({shape}, a tenth of the largest penalty)"
    assert got.converged and len(got.changes) == len(got.objectives), f"{call} did not converge: {got.changes[-1]:.2g}"
    assert (np.diff(got.objectives) <= 1e-12 * got.objectives[0]).all(), f"{call}.objectives rose"
    assert (got.changes[:-1] > 1e-9).all() and got.changes[-1] <= 1e-9, (
        f"{call} did not stop at the first change in tol"
    )
    assert_subgradient(np.where(mask, a - got.matrix, 0) / penalty, got.matrix, call, 1e-5)


def test_soft_impute_of_all_entries_is_one_shrinking():
    got = soft_impute(A, np.ones_like(MASK), 1.1, max_iterations=9)
    assert_close(got.matrix, shrunk(A, 1.1), "soft_impute(A, nothing missing, 1.1).matrix", "equation (2)", **ROUNDING)
    assert len(got.changes) == 2 and got.converged, f"it took {len(got.changes)} iterations; the second does not move"


def test_soft_impute_is_zero_from_the_largest_penalty_on():
    edge = np.linalg.norm(np.where(MASK, A, 0), 2)
    got = soft_impute(A, MASK, edge * (1 + 1e-9), max_iterations=9)
    assert not got.matrix.any() and got.converged, "soft_impute with the largest penalty must be all zero, by (6)"
    got = soft_impute(A, MASK, 0.98 * edge, max_iterations=50)
    assert (got.singular_values > 0).sum() == 1, f"just below (6) the singular values are {got.singular_values}: one"


def test_soft_impute_fills_rows_and_columns_without_observations_by_zeros():
    mask = MASK.copy()
    mask[1], mask[:, 2] = False, False
    got = soft_impute(np.where(mask, A, np.nan), mask, 0.5, max_iterations=50).matrix
    assert_close(got[1], np.zeros(3), "the row without observations", "zeros", rtol=0, atol=1e-12)
    assert_close(got[:, 2], np.zeros(4), "the column without observations", "zeros", rtol=0, atol=1e-12)
    assert np.abs(got[[0, 2, 3], :2]).min() > 1e-3, f"soft_impute filled observed rows and columns by zeros: {got}"


def test_soft_impute_finds_the_entries_of_a_matrix_of_low_rank():
    a = low_rank((20, 15), 2)
    mask = np.random.default_rng(3).random(a.shape) < 0.7
    got = soft_impute(
        np.where(mask, a, np.nan), mask, 0.03 * np.linalg.norm(np.where(mask, a, 0), 2), max_iterations=150
    )
    error = np.linalg.norm((got.matrix - a)[~mask]) / np.linalg.norm(a[~mask])
    assert error < 0.1, f"soft_impute of rank 2 with 30 % missing is {error:.0%} off in the holes, expected below 10 %"


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_soft_impute_does_not_depend_on_the_scale(scale):
    got, expected = (
        soft_impute(scale * A, MASK, scale * 1.4, tol=1e-2, max_iterations=30),
        soft_impute(A, MASK, 1.4, tol=1e-2),
    )
    call = f"soft_impute({scale:g} A, mask, {scale:g} * 1.4)"
    assert_close(got.matrix / scale, expected.matrix, f"{call}.matrix", "as many times that of A", **ROUNDING)
    assert len(got.changes) == len(expected.changes), (
        f"{call} took {len(got.changes)}, not {len(expected.changes)} steps"
    )


def test_soft_impute_of_observed_zeros_is_zero():
    got = soft_impute(0 * A, MASK, 1.0, max_iterations=9)
    assert got.converged and not got.matrix.any(), "soft_impute of observed zeros must be zero, and converge"


def test_soft_impute_keeps_to_its_arguments():
    a, mask, start = np.where(MASK, A, np.nan), MASK.copy(), Z.copy()
    soft_impute(a, mask, 1.0, start=start, max_iterations=3)
    kept = np.array_equal(a, np.where(MASK, A, np.nan), equal_nan=True) and np.array_equal(mask, MASK)
    assert kept and np.array_equal(start, Z), "soft_impute changed its arguments"
    got = soft_impute(A.astype(np.float32), MASK, 1.0, max_iterations=3).matrix.dtype
    assert got == np.float32, f"soft_impute of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(("a", "mask", "named"), BAD_DATA)
def test_soft_impute_refuses_bad_data(a, mask, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        soft_impute(a, mask, 1.0)


@pytest.mark.given
@pytest.mark.parametrize(
    "options",
    [
        {"start": Z[:2]},
        {"start": Z * np.nan},
        {"tol": -1.0},
        {"tol": np.nan},
        {"max_iterations": 0},
        {"max_iterations": 1.5},
    ],
)
def test_soft_impute_refuses(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must"):
        soft_impute(A, MASK, 1.0, **options)


# soft_impute_path


def test_soft_impute_path_starts_each_from_the_one_before():
    penalties, start = [3.0, 1.5, 0.4], None
    path = soft_impute_path(A, MASK, penalties, tol=0, max_iterations=2)
    assert len(path) == 3, f"soft_impute_path of three penalties returned {len(path)} completions"
    for i, (penalty, got) in enumerate(zip(penalties, path, strict=True)):
        expected = soft_impute(A, MASK, penalty, start=start, tol=0, max_iterations=2)
        call = f"soft_impute_path(A, mask, {penalties}, max_iterations=2)[{i}]"
        assert_close(got.matrix, expected.matrix, f"{call}.matrix", "two steps from the last one", **ROUNDING)
        assert_close(got.objectives, expected.objectives, f"{call}.objectives", "of its own penalty", **ROUNDING)
        start = expected.matrix


def test_soft_impute_path_takes_fewer_iterations_than_starting_from_zeros():
    a = low_rank((12, 9), 2, seed=4)
    mask = np.random.default_rng(5).random(a.shape) < 0.7
    edge = np.linalg.norm(np.where(mask, a, 0), 2)
    penalties = [edge * f for f in (0.5, 0.4, 0.38)]
    warm = soft_impute_path(a, mask, penalties, tol=1e-6, max_iterations=60)[-1]
    cold = soft_impute(a, mask, penalties[-1], tol=1e-6, max_iterations=60)
    assert warm.converged and len(warm.changes) < len(cold.changes), (
        f"the last of soft_impute_path took {len(warm.changes)} iterations, from zeros it takes {len(cold.changes)}"
    )
    assert_close(warm.matrix, cold.matrix, "the last of soft_impute_path", "the same minimum", rtol=0, atol=1e-3)


def test_soft_impute_path_hands_its_options_on():
    for options in ({"tol": 0.3}, {"tol": 0, "max_iterations": 4}):
        got, expected = soft_impute_path(A, MASK, [1.0], **options)[0], soft_impute(A, MASK, 1.0, **options)
        call = f"soft_impute_path(A, mask, [1.0], {options})[0].changes"
        assert_close(got.changes, expected.changes, call, "those of soft_impute with these options", **ROUNDING)


def test_soft_impute_path_keeps_to_its_arguments():
    a, penalties = np.where(MASK, A, np.nan), [2.0, 1.0]
    soft_impute_path(a, MASK, penalties, max_iterations=3)
    assert penalties == [2.0, 1.0], "soft_impute_path changed the penalties"
    assert np.array_equal(a, np.where(MASK, A, np.nan), equal_nan=True), "soft_impute_path changed a"


@pytest.mark.given
def test_soft_impute_path_refuses():
    with pytest.raises(ValueError, match="penalties must"):
        soft_impute_path(A, MASK, [])


# pursuit_step


@pytest.mark.parametrize(("mu", "weight"), [(0.8, 0.5), (0.25, 0.9)])
def test_pursuit_step_takes_the_steps_of_equation_8_in_order(mu, weight):
    got = pursuit_step(A, S, M, mu=mu, weight=weight)
    low = shrunk(A - S + M / mu, 1 / mu)
    sparse = soft(A - low + M / mu, weight / mu)
    expected = (low, sparse, M + mu * (A - low - sparse))
    for name, part, right in zip(("low-rank part", "sparse part", "multipliers"), got, expected, strict=True):
        call = f"the {name} of pursuit_step(A, S, M, mu={mu}, weight={weight})"
        assert_close(part, right, call, "equation (8)", **ROUNDING)


def test_pursuit_step_makes_multipliers_that_are_subgradients():
    # M is a subgradient of the weighted l1 norm at S: the weight times its signs, and within the weight elsewhere.
    _, sparse, multipliers = pursuit_step(A, S, M, mu=0.8, weight=0.5)
    at = sparse != 0
    assert at.any() and not at.all(), f"the sparse part of pursuit_step(...) is {sparse}: some entries should be 0"
    call = "the multipliers of pursuit_step(...) where S is not 0"
    assert_close(multipliers[at], 0.5 * np.sign(sparse[at]), call, "w sign(S)", **ROUNDING)
    assert np.abs(multipliers).max() <= 0.5 + 1e-12, "multipliers of pursuit_step are beyond the weight"


def test_pursuit_step_stays_at_a_solution():
    # L = 2 u v', S one entry: with M = u v' + W at the entry equal to w.
    u, v = np.array([0.5, 0.5, 0.5, 0.5]), np.array([0.6, 0.0, 0.8])
    sparse = np.zeros((4, 3))
    sparse[2, 1] = 3.3
    w = np.zeros((4, 3))
    w[2, 1], w[0, 1], w[1, 1], w[3, 1] = 0.45, -0.15, -0.15, -0.15
    low, multipliers = 2 * np.outer(u, v), np.outer(u, v) + w
    got = pursuit_step(low + sparse, sparse, multipliers, mu=0.7, weight=0.45)
    for name, part, right in zip(
        ("low-rank part", "sparse part", "multipliers"), got, (low, sparse, multipliers), strict=True
    ):
        assert_close(part, right, f"the {name} of pursuit_step at a solution", "itself", rtol=0, atol=1e-12)


def test_pursuit_step_keeps_to_its_arguments():
    a, sparse, multipliers = A.copy(), S.copy(), M.copy()
    pursuit_step(a, sparse, multipliers, mu=0.8, weight=0.5)
    kept = np.array_equal(a, A) and np.array_equal(sparse, S) and np.array_equal(multipliers, M)
    assert kept, "pursuit_step changed its arguments"
    got = {part.dtype.name for part in pursuit_step(A.astype(np.float32), S, M, mu=0.8, weight=0.5)}
    assert got == {"float32"}, f"pursuit_step of a float32 matrix returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"a": A[0]}, "a"),
        ({"sparse": S[:2]}, "sparse"),
        ({"multipliers": M * np.nan}, "multipliers"),
        ({"mu": 0.0}, "mu"),
        ({"weight": -1.0}, "weight"),
    ],
)
def test_pursuit_step_refuses(changes, named):
    arguments = {"a": A, "sparse": S, "multipliers": M, "mu": 1.0, "weight": 0.5} | changes
    with pytest.raises(ValueError, match=f"{named} must"):
        pursuit_step(**arguments)


# robust_pca


@functools.cache
def planted(shape, rank, size):
    """A matrix of low rank and one in twenty entries wrong, by up to `size`."""
    rng, low = np.random.default_rng(7), low_rank(shape, rank, seed=8)
    return low, np.where(rng.random(shape) < 0.05, size * rng.uniform(-1, 1, size=shape), 0)


@pytest.mark.parametrize(("shape", "rank", "size"), [((30, 20), 1, 5.0), ((20, 30), 1, 50.0), ((30, 30), 2, 20.0)])
def test_robust_pca_finds_both_parts_exactly(shape, rank, size):
    low, sparse = planted(shape, rank, size)
    got = robust_pca(low + sparse, max_iterations=150)
    call = f"robust_pca({shape}: rank {rank} and errors up to {size:g})"
    assert got.converged and got.residuals[-1] <= 1e-7, f"{call} ended with the residual {got.residuals[-1]:.2g}"
    error = np.linalg.norm(got.low_rank - low) / np.linalg.norm(low)
    assert error < 1e-5, f"{call}.low_rank is {error:.2g} off, expected what was planted, up to 1e-5"
    wrong = int(((np.abs(got.sparse) > 1e-4) != (np.abs(sparse) > 1e-4)).sum())
    assert wrong == 0, f"{call}.sparse has {wrong} entries that were not planted, or lacks them"


def test_robust_pca_takes_the_steps_of_equation_8():
    a = low_rank((9, 7), 1, seed=9) + 0.1 * random_matrix((9, 7))
    a[2, 5], a[6, 1] = 4.2, -3.1
    for weight in (None, 0.7):
        mu, w = a.size / (4 * np.abs(a).sum()), 1 / 3 if weight is None else weight
        sparse, multipliers, low, residuals = 0 * a, 0 * a, 0 * a, []
        for _ in range(3):
            low = shrunk(a - sparse + multipliers / mu, 1 / mu)
            sparse = soft(a - low + multipliers / mu, w / mu)
            multipliers = multipliers + mu * (a - low - sparse)
            residuals.append(np.linalg.norm(a - low - sparse) / np.linalg.norm(a))
        got = robust_pca(a, weight=weight, tol=0, max_iterations=3)
        call = f"robust_pca(9 x 7, weight={weight}, tol=0, max_iterations=3)"
        assert_close(got.residuals, residuals, f"{call}.residuals", "three steps of (8) with (9) and (7)", **ROUNDING)
        assert_close(got.low_rank, low, f"{call}.low_rank", "three steps of (8) with (9) and (7)", **ROUNDING)
        assert_close(got.sparse, sparse, f"{call}.sparse", "three steps of (8) with (9) and (7)", **ROUNDING)
        assert not got.converged, f"{call} says it converged, with tol=0 and residuals {got.residuals}"


def test_robust_pca_weighs_by_the_longer_side():
    for shape in ((3, 12), (12, 3)):
        a = random_matrix(shape)
        got = robust_pca(a, tol=0, max_iterations=2)
        expected = robust_pca(a, weight=12**-0.5, tol=0, max_iterations=2)
        assert_close(
            got.sparse, expected.sparse, f"robust_pca(a matrix of {shape}).sparse", "w = 1 / sqrt(12)", **ROUNDING
        )


def test_robust_pca_puts_all_into_one_part_if_the_weight_says_so():
    for weight, name in ((1e-3, "sparse"), (2.0, "low_rank")):
        got = robust_pca(A, weight=weight, max_iterations=150)
        whole = getattr(got, name)
        assert_close(whole, A, f"robust_pca(A, weight={weight}).{name}", "all of A", rtol=0, atol=1e-5)


def test_robust_pca_stops_by_tol_and_by_max_iterations():
    low, sparse = planted((30, 20), 1, 5.0)
    got = robust_pca(low + sparse, tol=1e-2, max_iterations=50)
    assert got.converged and got.residuals[-1] <= 1e-2 and (got.residuals[:-1] > 1e-2).all(), (
        f"robust_pca(tol=0.01) went on with residuals {got.residuals.round(4)}; expected to stop at the first below 0.01"
    )
    got = robust_pca(low + sparse, max_iterations=5)
    assert len(got.residuals) == 5 and not got.converged, "robust_pca(max_iterations=5) must say it has not converged"


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_robust_pca_does_not_depend_on_the_scale(scale):
    a = A + S
    got, expected = robust_pca(scale * a, max_iterations=20), robust_pca(a, max_iterations=20)
    call = f"robust_pca({scale:g} a, max_iterations=20)"
    assert_close(got.low_rank / scale, expected.low_rank, f"{call}.low_rank", "as many times that of a", **ROUNDING)
    assert_close(got.residuals, expected.residuals, f"{call}.residuals", "the same", rtol=1e-6, atol=1e-12)


def test_robust_pca_keeps_to_its_argument():
    a = A.copy()
    robust_pca(a, max_iterations=3)
    assert np.array_equal(a, A), "robust_pca changed the matrix"
    got = robust_pca(A.astype(np.float32), max_iterations=3)
    got = {got.low_rank.dtype.name, got.sparse.dtype.name}
    assert got == {"float32"}, f"robust_pca of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "options", "named"),
    [
        (0 * A, {}, "a"),
        (A[0], {}, "a"),
        (A * np.nan, {}, "a"),
        (A, {"weight": 0.0}, "weight"),
        (A, {"tol": -1.0}, "tol"),
        (A, {"max_iterations": 0}, "max_iterations"),
    ],
)
def test_robust_pca_refuses(a, options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        robust_pca(a, **options)
