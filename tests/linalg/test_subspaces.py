"""Shared tests of linalg/subspaces: run on the reference, and on the learner's file.

Row reduction of the small matrices here takes some hundred roundings of 1e-16, which their conditions of up to 1e4 make
some 1e-10 at worst: RTOL is well above what another order of arithmetic leaves, and far below what a mistake does. Exact
answers come from a row reduction in fractions, written below, in which nothing is rounded and nothing has to be pivoted.
"""

from fractions import Fraction

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert
from mlpath.linalg.subspaces import (
    change_coordinates,
    change_operator,
    column_space,
    null_space,
    orthogonal_complement,
    pivot_step,
    rank_nullity,
    rref,
)
from mlpath.testing import assert_close

RTOL = 1e-9
EPS = float(np.finfo(float).eps)
A = np.array([[3.0, -7.0, 2.0, 11.0], [5.0, 4.0, -6.0, 1.0], [-8.0, 2.0, 9.0, -3.0]])
# Column 0 is zero, column 2 is 3 times column 1 and column 4 is 2.5 times column 1 less 1.5 times column 3.
DEPENDENT = np.array(
    [
        [0.0, 2.0, 6.0, -1.0, 6.5],
        [0.0, 1.0, 3.0, 5.0, -5.0],
        [0.0, -4.0, -12.0, 3.0, -14.5],
        [0.0, 3.0, 9.0, 4.0, 1.5],
    ]
)
REDUCED = np.array([[0.0, 1.0, 3.0, 0.0, 2.5], [0.0, 0.0, 0.0, 1.0, -1.5], [0.0] * 5, [0.0] * 5])
SCALES = [1e-150, 1e-20, 1e20, 1e150]


def exact_rref(a):
    """The reduced form and the pivot columns of a matrix of whole numbers, in fractions: the first entry not 0 will do."""
    rows = [[Fraction(int(entry)) for entry in row] for row in a]
    pivots = []
    for col in range(len(rows[0])):
        top = len(pivots)
        found = [i for i in range(top, len(rows)) if rows[i][col] != 0]
        if not found:
            continue
        rows[top], rows[found[0]] = rows[found[0]], rows[top]
        rows[top] = [entry / rows[top][col] for entry in rows[top]]
        for i in range(len(rows)):
            if i != top:
                rows[i] = [entry - rows[i][col] * pivot for entry, pivot in zip(rows[i], rows[top])]
        pivots.append(col)
    return np.array([[float(entry) for entry in row] for row in rows]), tuple(pivots)


def planted(n_rows, n_cols, rank, seed=0):
    """A matrix of whole numbers with the given rank at most: the product of two thin ones."""
    rng = np.random.default_rng([n_rows, n_cols, rank, seed])
    return (rng.integers(-3, 4, (n_rows, rank)) @ rng.integers(-3, 4, (rank, n_cols))).astype(float)


PLANTED = [
    (4, 9, 3),
    (9, 4, 3),
    (7, 7, 5),
    (6, 6, 6),
    (3, 8, 3),
    (8, 3, 2),
    (10, 6, 1),
    (1, 5, 1),
    (5, 1, 1),
    (12, 12, 4),
]
SAMPLES = [(shape, planted(*shape)) for shape in PLANTED]
SHAPES = [f"{m} x {n} of rank {k}" for m, n, k in PLANTED]
each_planted = pytest.mark.parametrize(("shape", "a"), SAMPLES, ids=SHAPES)


def projector(columns):
    """The orthogonal projector on the space of independent columns, by QR: the same for every basis of the space."""
    q = np.linalg.qr(columns)[0]
    return q @ q.T


def singular_subspaces(a):
    """The projectors on null space and column space, and the rank, by NumPy's SVD."""
    u, s, vt = np.linalg.svd(a)
    rank = int((s > 1e-10 * s.max(initial=0)).sum())
    return vt[rank:].T @ vt[rank:], u[:, :rank] @ u[:, :rank].T, rank


def as_ints(pivots):
    return tuple(int(col) for col in pivots)


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to one of its arrays."""
    before = [np.copy(argument) for argument in arguments]
    function(*arguments)
    for old, new in zip(before, arguments):
        assert np.array_equal(old, new), f"{function.__name__} changed an array that it was given"


# pivot_step


def test_pivot_step_makes_the_column_one_of_the_identity():
    expected = np.array([[1.0, -0.25, -1.125, 0.375], [0.0, 5.25, -0.375, -0.875], [0.0, -6.25, 5.375, 9.875]])
    call = f"pivot_step({A.tolist()}, row=0, col=0)"
    assert_close(pivot_step(A, 0, 0), expected, call, "equations (2) and (1): the pivot is -8", rtol=RTOL)


def test_pivot_step_looks_for_its_pivot_from_the_row_downwards_and_clears_above_too():
    # In column 2 the largest entry is 9, in row 0, which is out of bounds; the pivot is -6 and stays where it is.
    a = np.array([[-8.0, 2.0, 9.0, -3.0], [5.0, 4.0, -6.0, 1.0], [3.0, -7.0, 2.0, 11.0]])
    expected = np.array([[-0.5, 8.0, 0.0, -1.5], [-5 / 6, -2 / 3, 1.0, -1 / 6], [14 / 3, -17 / 3, 0.0, 34 / 3]])
    call = f"pivot_step({a.tolist()}, row=1, col=2)"
    assert_close(pivot_step(a, 1, 2), expected, call, "equations (2) and (1): the pivot is -6", rtol=RTOL)


def test_pivot_step_exchanges_two_rows_below_the_first():
    a = np.array([[1.0, 0.0, 7.0], [0.0, 1.0, -3.0], [0.0, 2.0, 5.0], [0.0, -4.0, 9.0]])
    expected = np.array([[1.0, 0.0, 7.0], [0.0, 1.0, -2.25], [0.0, 0.0, 9.5], [0.0, 0.0, -0.75]])
    call = f"pivot_step({a.tolist()}, row=1, col=1)"
    assert_close(pivot_step(a, 1, 1), expected, call, "equations (2) and (1): the pivot is -4", rtol=RTOL)


def test_pivot_step_in_the_last_row_has_no_choice_of_pivot():
    a = np.array([[1.0, 0.0, 7.0], [0.0, 1.0, -3.0], [0.0, 0.0, 0.5]])
    assert_close(pivot_step(a, 2, 2), np.eye(3), f"pivot_step({a.tolist()}, row=2, col=2)", "equation (1)", rtol=RTOL)


def test_pivot_step_takes_the_first_of_entries_that_tie():
    a = np.array([[2.0, 1.0], [-4.0, 6.0], [4.0, 10.0]])
    expected = np.array([[1.0, -1.5], [0.0, 4.0], [0.0, 16.0]])
    call = f"pivot_step({a.tolist()}, row=0, col=0)"
    assert_close(
        pivot_step(a, 0, 0), expected, call, "equations (2) and (1): the pivot is -4, the first of two", rtol=RTOL
    )


def test_pivot_step_is_not_ruined_by_a_small_entry_where_the_pivot_should_be():
    # The small entry as a pivot would leave 1e20 in the other row, in which the 1 that was there is lost.
    a = np.array([[1e-20, 1.0, 3.0], [1.0, 1.0, 5.0]])
    expected = np.array([[1.0, 1.0, 5.0], [0.0, 1.0, 3.0]])
    call = f"pivot_step({a.tolist()}, row=0, col=0)"
    assert_close(pivot_step(a, 0, 0), expected, call, "equations (2) and (1)", rtol=RTOL, atol=1e-15)


def test_pivot_step_leaves_exact_zeros_and_an_exact_one():
    a = np.random.default_rng(1).normal(size=(7, 5)) * 0.1
    column = pivot_step(a, 3, 2)[:, 2]
    assert np.array_equal(column, np.eye(7)[3]), (
        f"pivot_step(a, row=3, col=2) left {column} in column 2, expected row 3 of the identity, exactly"
    )


@pytest.mark.parametrize("row", [0, 2])
def test_pivot_step_keeps_the_solutions_of_the_equations(row):
    # The last column is the right-hand side, planted from a solution.
    rng = np.random.default_rng(2)
    a, x = rng.normal(0.5, 2, (5, 6)), rng.normal(1, 3, 6)
    after = pivot_step(np.column_stack([a, a @ x]), row, 1)
    assert_close(
        after[:, :6] @ x,
        after[:, 6],
        f"pivot_step([a, a @ x], row={row}, col=1)[:, :6] @ x",
        "the last column of the same: row operations keep solutions",
        rtol=RTOL,
        atol=1e-12,
    )


def test_pivot_step_keeps_float32():
    step = pivot_step(A.astype(np.float32), 0, 0)
    assert step.dtype == np.float32, f"pivot_step of a float32 matrix returned {step.dtype}"


def test_pivot_step_leaves_its_matrix_alone():
    unchanged(lambda a: pivot_step(a, 1, 1), A.copy())
    unchanged(lambda a: pivot_step(a, 0, 0), A.copy())


# rref


def test_rref_has_ones_at_its_pivots_and_skips_free_columns():
    reduced = rref(DEPENDENT)
    call = f"rref({DEPENDENT.tolist()})"
    assert as_ints(reduced.pivots) == (1, 3), f"{call}.pivots is {reduced.pivots}, expected (1, 3)"
    assert_close(reduced.matrix, REDUCED, f"{call}.matrix", "equations (1) to (3)", rtol=RTOL, atol=1e-13)


@each_planted
def test_rref_agrees_with_exact_fractions(shape, a):
    expected, pivots = exact_rref(a)
    reduced = rref(a)
    call = f"rref of a {shape[0]} x {shape[1]} matrix of whole numbers with rank {shape[2]}"
    assert as_ints(reduced.pivots) == pivots, f"{call} found the pivots {reduced.pivots}, expected {pivots}"
    # Entries are fractions of at least 1e-4 in size, unless they are 0.
    assert_close(reduced.matrix, expected, f"the matrix of {call}", "row reduction in fractions", rtol=RTOL, atol=1e-11)


def test_rref_of_a_matrix_of_full_column_rank_is_the_identity_above_zeros():
    for shape in ((40, 25), (25, 25)):
        reduced = rref(np.random.default_rng(3).normal(0.3, 1, shape))
        assert as_ints(reduced.pivots) == tuple(range(25)), (
            f"rref(a) of shape {shape} found the pivots {reduced.pivots}"
        )
        assert np.array_equal(reduced.matrix, np.eye(*shape)), (
            f"rref(a) of shape {shape} and rank 25 is not exactly the identity above rows of zeros"
        )


def test_rref_stops_when_it_runs_out_of_rows():
    reduced = rref(np.array([[2.0, 1.0, 7.0, -3.5]]))
    assert as_ints(reduced.pivots) == (0,), f"rref([[2, 1, 7, -3.5]]).pivots is {reduced.pivots}, expected (0,)"
    assert_close(reduced.matrix, [[1.0, 0.5, 3.5, -1.75]], "rref([[2, 1, 7, -3.5]]).matrix", "equation (1)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (1, 1)])
def test_rref_of_the_zero_matrix_is_itself(shape):
    reduced = rref(np.zeros(shape))
    assert as_ints(reduced.pivots) == (), f"rref(zeros({shape})).pivots is {reduced.pivots}, expected none"
    assert_close(reduced.matrix, np.zeros(shape), f"rref(zeros({shape})).matrix", "equation (3)")


def test_rref_replaces_what_counts_as_zero_by_exact_zeros():
    # In decimals 0.3 - 3 * 0.1 and the like are some 1e-17; every row of each matrix is a multiple of the first.
    for a in (np.outer([0.1, 0.7, -0.3], [0.3, 0.9, 1.1]), np.outer([0.1, 0.2, 0.3, 0.7], [0.0, 1.3, 0.7])):
        reduced = rref(a)
        below = reduced.matrix[1:]
        assert not below.any(), (
            f"rref of a matrix of rank 1 left {below.tolist()} below its only pivot, expected exact zeros by (3)"
        )
    matrix = rref(planted(9, 12, 5) / 7).matrix
    assert not matrix[5:].any(), (
        f"rref of a matrix of rank 5 left {np.abs(matrix[5:]).max():.1g} below row 4, expected exact zeros by (3)"
    )


def test_rref_loses_no_digits_to_a_small_pivot():
    # The solution of these two equations is (1, 1) / (1 - 1e-12) to the last digit or so. A pivot of 1e-12 would cost 4 digits.
    a = np.array([[1e-12, 1.0, 1.0], [1.0, 1.0, 2.0]])
    expected = np.array([[1.0, 0.0, 1 + 1e-12], [0.0, 1.0, 1 - 1e-12]])
    assert_close(
        rref(a).matrix, expected, f"rref({a.tolist()}).matrix", "equations (2) and (1)", rtol=1e-14, atol=1e-15
    )


@pytest.mark.parametrize("scale", SCALES)
def test_rref_is_the_same_in_all_units(scale):
    reduced = rref(scale * DEPENDENT)
    call = f"rref({scale:g} * a)"
    assert as_ints(reduced.pivots) == (1, 3), (
        f"{call} found the pivots {reduced.pivots}, expected (1, 3) as for a: (3) is relative"
    )
    assert_close(reduced.matrix, REDUCED, f"{call}.matrix", "that of a", rtol=RTOL, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_rref_tells_noise_from_rank_by_its_relative_tolerance(scale):
    # The noise of 1e-9, in a matrix of entries up to 14, is grown by the elimination to some 1e-8.
    a = scale * (planted(8, 10, 3) + 1e-9 * np.random.default_rng(4).normal(size=(8, 10)))
    for tol, rank in ((1e-6, 3), (1e-12, 8), (None, 8)):
        found = len(rref(a, tol).pivots)
        call = f"rref({scale:g} * (a + noise), tol={tol})"
        assert found == rank, (
            f"{call} found {found} pivots, expected {rank}: the noise is 1e-10 of the largest entry of a, which has rank 3"
        )


def test_rref_measures_against_the_largest_entry_whatever_its_sign():
    a = np.array([[-1e6, 0.0], [0.0, 1e-3]])
    for tol, pivots in ((2e-9, (0,)), (5e-10, (0, 1))):
        found = as_ints(rref(a, tol).pivots)
        assert found == pivots, (
            f"rref([[-1e6, 0], [0, 1e-3]], tol={tol}) found the pivots {found}, expected {pivots} by (3)"
        )


def test_rref_measures_against_the_original_matrix():
    # After the first step the largest entry is 1; before it is 1e6, against which 1e-3 is a billionth.
    a = np.array([[1e6, 1e6, 2e6], [0.0, 1e-3, 5e-3]])
    found = as_ints(rref(a, 1e-8).pivots)
    assert found == (0,), (
        f"rref({a.tolist()}, tol=1e-8) found the pivots {found}, expected (0,) by (3), with the largest entry of the original"
    )
    found = as_ints(rref(a, 1e-10).pivots)
    assert found == (0, 1), f"rref({a.tolist()}, tol=1e-10) found the pivots {found}, expected (0, 1) by (3)"


def test_rref_counts_as_zero_what_equals_the_tolerance_and_nothing_more():
    a = np.array([[4.0, 0.0], [0.0, 0.5]])
    for tol, pivots in ((0.125, (0,)), (0.124, (0, 1)), (0, (0, 1))):
        found = as_ints(rref(a, tol).pivots)
        assert found == pivots, (
            f"rref([[4, 0], [0, 0.5]], tol={tol}) found the pivots {found}, expected {pivots}: (3) has 'at most'"
        )


@pytest.mark.parametrize(("dtype", "below", "above"), [(np.float64, 0.5, 2), (np.float32, 0.5, 2)])
def test_rref_has_by_default_the_tolerance_of_the_note(dtype, below, above):
    tolerance = 10 * 7 * float(np.finfo(dtype).eps)
    for shape in ((7, 3), (3, 7)):
        for factor, rank in ((below, 1), (above, 2)):
            a = np.zeros(shape, dtype=dtype)
            a[0, 0], a[1, 1] = 3, 3 * factor * tolerance
            found = len(rref(a).pivots)
            assert found == rank, (
                f"rref of a {np.dtype(dtype)} matrix of shape {shape} with the entries 3 and 3 * {factor * tolerance:.3g} found {found} pivots, expected {rank}: tau is 10 * 7 * {np.finfo(dtype).eps:.3g}"
            )


def test_rref_keeps_float32():
    reduced = rref(planted(5, 8, 3).astype(np.float32))
    assert reduced.matrix.dtype == np.float32, f"rref of a float32 matrix returned {reduced.matrix.dtype}"
    expected, pivots = exact_rref(planted(5, 8, 3))
    assert as_ints(reduced.pivots) == pivots, f"rref of a float32 matrix found {reduced.pivots}, expected {pivots}"
    # Some hundred roundings of 6e-8.
    assert_close(
        reduced.matrix,
        expected,
        "rref(a).matrix in float32",
        "fractions",
        rtol=1e-4,
        atol=1e-4,
        tolerance="as a float32 has 7 digits",
    )


def test_rref_takes_whole_numbers():
    reduced = rref(np.array([[2, 1], [4, 5]]))
    assert_close(reduced.matrix, np.eye(2), "rref([[2, 1], [4, 5]]).matrix of whole numbers", "equation (1)", rtol=RTOL)


def test_rref_judges_one_entry_at_a_time_and_may_miss_how_near_a_lower_rank_is():
    # Ones on the diagonal, -1 above. It is within 1e-17 of a singular matrix, but each pivot is 1, and nothing is rounded.
    a = np.eye(60) - np.triu(np.ones((60, 60)), 1)
    found = len(rref(a).pivots)
    assert found == 60, (
        f"rref found {found} pivots in a triangular matrix with ones on its diagonal, expected 60 by (3)"
    )


def test_rref_leaves_its_matrix_alone():
    unchanged(rref, DEPENDENT.copy())
    unchanged(rref, np.outer([0.1, 0.7, -0.3], [0.3, 0.9, 1.1]))
    unchanged(rref, np.array([[1e-20, 1.0], [2e-20, 3.0]]))  # the first column counts as zero


# rank_nullity


def test_rank_nullity_counts_pivots_and_free_columns():
    assert tuple(rank_nullity(DEPENDENT)) == (2, 3), (
        f"rank_nullity of a 4 x 5 matrix with 2 pivots returned {rank_nullity(DEPENDENT)}, expected (2, 3) by (4)"
    )
    assert tuple(rank_nullity(DEPENDENT.T)) == (2, 2), (
        f"rank_nullity of its transpose, 5 x 4, returned {rank_nullity(DEPENDENT.T)}, expected (2, 2) by (4)"
    )


@each_planted
def test_rank_nullity_agrees_with_numpy(shape, a):
    rank = int(np.linalg.matrix_rank(a))
    found = tuple(rank_nullity(a))
    expected = (rank, a.shape[1] - rank)
    assert found == expected, (
        f"rank_nullity of a {shape[0]} x {shape[1]} matrix returned {found}, expected {expected}, by NumPy's SVD and (4)"
    )


def test_rank_nullity_of_the_zero_matrix_is_zero_and_all_columns():
    assert tuple(rank_nullity(np.zeros((2, 5)))) == (0, 5), (
        f"rank_nullity(zeros((2, 5))) returned {rank_nullity(np.zeros((2, 5)))}, expected (0, 5)"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_rank_nullity_is_the_same_in_all_units(scale):
    found = tuple(rank_nullity(scale * planted(6, 9, 4)))
    assert found == (4, 5), f"rank_nullity({scale:g} * a) returned {found}, expected (4, 5) as for a"


def test_rank_nullity_hands_its_tolerance_on():
    a = planted(8, 10, 3) + 1e-9 * np.random.default_rng(4).normal(size=(8, 10))
    for tol, expected in ((1e-6, (3, 7)), (1e-12, (8, 2))):
        found = tuple(rank_nullity(a, tol))
        assert found == expected, f"rank_nullity(a + noise, tol={tol}) returned {found}, expected {expected}"


def test_rank_nullity_leaves_its_matrix_alone():
    unchanged(rank_nullity, DEPENDENT.copy())


# null_space


def test_null_space_holds_the_special_solutions():
    expected = np.array([[1.0, 0, 0], [0, -3, -2.5], [0, 1, 0], [0, 0, 1.5], [0, 0, 1]])
    call = f"null_space({DEPENDENT.tolist()})"
    assert_close(
        null_space(DEPENDENT), expected, call, "equation (5), for the free columns 0, 2 and 4", rtol=RTOL, atol=1e-13
    )


def test_null_space_puts_each_number_in_the_row_of_its_variable():
    # Already reduced: the pivots are 1 and 4, the free columns 0, 2, 3 and 5.
    a = np.array([[0.0, 1.0, 2.5, -3.25, 0.0, 7.5], [0.0, 0.0, 0.0, 0.0, 1.0, -1.75]])
    expected = np.zeros((6, 4))
    expected[[0, 2, 3, 5], range(4)] = 1
    expected[1] = [0, -2.5, 3.25, -7.5]
    expected[4, 3] = 1.75
    assert_close(null_space(a), expected, f"null_space({a.tolist()})", "equation (5)", rtol=RTOL)


@each_planted
def test_null_space_agrees_with_exact_fractions(shape, a):
    reduced, pivots = exact_rref(a)
    free = [col for col in range(a.shape[1]) if col not in pivots]
    expected = np.zeros((a.shape[1], len(free)))
    for j, col in enumerate(free):
        expected[col, j] = 1
        for i, pivot in enumerate(pivots):
            expected[pivot, j] = -reduced[i, col]
    call = f"null_space of a {shape[0]} x {shape[1]} matrix with rank {shape[2]}"
    assert_close(null_space(a), expected, call, "equation (5) in fractions", rtol=RTOL, atol=1e-11)


@each_planted
def test_null_space_is_sent_to_zero_and_is_all_that_is(shape, a):
    basis = null_space(a)
    expected, _, rank = singular_subspaces(a)
    call = f"null_space of a {shape[0]} x {shape[1]} matrix"
    assert basis.shape == (a.shape[1], a.shape[1] - rank), (
        f"{call} has the shape {basis.shape}, expected {(a.shape[1], a.shape[1] - rank)} by (4)"
    )
    assert_close(a @ basis, np.zeros((a.shape[0], basis.shape[1])), f"a @ {call}", "A x = 0", atol=1e-10)
    assert_close(projector(basis), expected, f"the projector on the {call}", "the SVD", rtol=0, atol=1e-10)


def test_null_space_of_independent_columns_has_no_columns():
    basis = null_space(np.random.default_rng(5).normal(size=(6, 4)))
    assert basis.shape == (4, 0), f"null_space of a 6 x 4 matrix of rank 4 has the shape {basis.shape}, expected (4, 0)"


def test_null_space_of_the_zero_matrix_is_everything():
    assert_close(
        null_space(np.zeros((2, 4))), np.eye(4), "null_space(zeros((2, 4)))", "equation (5): all columns are free"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_null_space_is_the_same_in_all_units(scale):
    a = planted(6, 9, 4)
    assert_close(null_space(scale * a), null_space(a), f"null_space({scale:g} * a)", "that of a", rtol=RTOL, atol=1e-12)


def test_null_space_hands_its_tolerance_on():
    a = planted(8, 10, 3) + 1e-9 * np.random.default_rng(4).normal(size=(8, 10))
    for tol, nullity in ((1e-6, 7), (1e-12, 2)):
        basis = null_space(a, tol)
        assert basis.shape == (10, nullity), (
            f"null_space(a + noise, tol={tol}) has the shape {basis.shape}, expected (10, {nullity})"
        )


def test_null_space_keeps_float32():
    basis = null_space(planted(5, 8, 3).astype(np.float32))
    assert basis.dtype == np.float32, f"null_space of a float32 matrix returned {basis.dtype}"


def test_null_space_leaves_its_matrix_alone():
    unchanged(null_space, DEPENDENT.copy())


# column_space


def test_column_space_is_made_of_columns_of_the_matrix_itself():
    call = f"column_space({DEPENDENT.tolist()})"
    assert_close(
        column_space(DEPENDENT), DEPENDENT[:, [1, 3]], call, "equation (6): the pivot columns are 1 and 3", rtol=RTOL
    )


@each_planted
def test_column_space_is_that_of_the_svd(shape, a):
    basis = column_space(a)
    _, expected, rank = singular_subspaces(a)
    call = f"column_space of a {shape[0]} x {shape[1]} matrix"
    assert basis.shape == (a.shape[0], rank), f"{call} has the shape {basis.shape}, expected {(a.shape[0], rank)}"
    assert_close(basis, a[:, list(exact_rref(a)[1])], call, "the pivot columns of a, by fractions", rtol=RTOL)
    assert_close(projector(basis), expected, f"the projector on the {call}", "the SVD", rtol=0, atol=1e-10)


def test_column_space_gives_all_columns_by_the_factors_in_the_reduced_form():
    # Rank 6, real numbers. The factors are below some 100, each with an error of 1e-13 or so.
    rng = np.random.default_rng(6)
    a = rng.normal(0.5, 1, (20, 6)) @ rng.normal(0.5, 1, (6, 30))
    product = column_space(a) @ rref(a).matrix[:6]
    assert_close(
        product, a, "column_space(a) @ rref(a).matrix[:rank]", "equation (6)", rtol=0, atol=1e-9 * np.abs(a).max()
    )


def test_column_space_of_the_zero_matrix_has_no_columns():
    basis = column_space(np.zeros((4, 2)))
    assert basis.shape == (4, 0), f"column_space(zeros((4, 2))) has the shape {basis.shape}, expected (4, 0)"


@pytest.mark.parametrize("scale", SCALES)
def test_column_space_keeps_the_units_of_the_matrix(scale):
    assert_close(
        column_space(scale * DEPENDENT),
        scale * DEPENDENT[:, [1, 3]],
        f"column_space({scale:g} * a)",
        "equation (6)",
        rtol=RTOL,
    )


def test_column_space_hands_its_tolerance_on():
    a = planted(8, 10, 3) + 1e-9 * np.random.default_rng(4).normal(size=(8, 10))
    for tol, rank in ((1e-6, 3), (1e-12, 8)):
        basis = column_space(a, tol)
        assert basis.shape == (8, rank), (
            f"column_space(a + noise, tol={tol}) has the shape {basis.shape}, expected (8, {rank})"
        )


def test_column_space_keeps_float32():
    basis = column_space(planted(5, 8, 3).astype(np.float32))
    assert basis.dtype == np.float32, f"column_space of a float32 matrix returned {basis.dtype}"


def test_column_space_leaves_its_matrix_alone():
    unchanged(column_space, DEPENDENT.copy())


# orthogonal_complement


def check_complement(a, call):
    """The right dimension, independent columns, each orthogonal to a, and with the column space they make up everything."""
    basis = orthogonal_complement(a)
    a = a.astype(float) / (np.abs(a).max() or 1)
    _, onto, rank = singular_subspaces(a)
    n_rows = a.shape[0]
    assert basis.shape == (n_rows, n_rows - rank), (
        f"{call} has the shape {basis.shape}, expected {(n_rows, n_rows - rank)}: the dimension is m - rank"
    )
    lengths = np.linalg.norm(basis, axis=0)
    assert (lengths > 0).all(), f"{call} has a column of zeros, which no basis has"
    unit = basis / lengths
    assert_close(
        a.T @ unit,
        np.zeros((a.shape[1], n_rows - rank)),
        f"a.T @ {call}, columns scaled to length 1",
        "equation (7)",
        atol=1e-10,
    )
    assert_close(
        projector(unit) + onto,
        np.eye(n_rows),
        f"the projector on {call} plus that on the column space",
        "the identity: the two make up the whole space",
        rtol=0,
        atol=1e-10,
    )


def test_orthogonal_complement_of_a_line_is_a_plane():
    a = np.array([[2.0], [-3.0], [5.0]])
    basis = orthogonal_complement(a)
    call = f"orthogonal_complement({a.tolist()})"
    assert basis.shape == (3, 2), f"{call} has the shape {basis.shape}, expected (3, 2)"
    assert_close(a.T @ basis, np.zeros((1, 2)), f"a.T @ {call}", "equation (7)", atol=1e-12)
    check_complement(a, call)


def test_orthogonal_complement_is_that_of_the_columns_and_not_of_the_rows():
    # The rows are all multiples of (1, 2), the columns of (1, -3, 4).
    a = np.outer([1.0, -3.0, 4.0], [1.0, 2.0])
    check_complement(a, f"orthogonal_complement({a.tolist()})")


@each_planted
def test_orthogonal_complement_and_column_space_make_up_the_whole(shape, a):
    check_complement(a, f"orthogonal_complement of a {shape[0]} x {shape[1]} matrix with rank {shape[2]}")


def test_orthogonal_complement_of_real_vectors_of_many_dimensions():
    rng = np.random.default_rng(7)
    check_complement(rng.normal(0.5, 1, (50, 12)), "orthogonal_complement of 12 vectors in 50 dimensions")


def test_orthogonal_complement_of_nothing_but_zeros_is_everything():
    check_complement(np.zeros((4, 2)), "orthogonal_complement(zeros((4, 2)))")


def test_orthogonal_complement_of_everything_is_nothing():
    basis = orthogonal_complement(np.array([[2.0, 1.0, 5.0], [0.5, 4.0, -3.0]]))
    assert basis.shape == (2, 0), (
        f"orthogonal_complement of vectors that span the plane has the shape {basis.shape}, expected (2, 0)"
    )


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_orthogonal_complement_is_the_same_in_all_units(scale):
    check_complement(scale * planted(9, 6, 4), f"orthogonal_complement({scale:g} * a)")


def test_orthogonal_complement_hands_its_tolerance_on():
    a = planted(8, 10, 3) + 1e-9 * np.random.default_rng(4).normal(size=(8, 10))
    for tol, codim in ((1e-6, 5), (1e-12, 0)):
        basis = orthogonal_complement(a, tol)
        assert basis.shape == (8, codim), (
            f"orthogonal_complement(a + noise, tol={tol}) has the shape {basis.shape}, expected (8, {codim})"
        )


def test_orthogonal_complement_keeps_float32():
    basis = orthogonal_complement(planted(5, 8, 3).astype(np.float32))
    assert basis.dtype == np.float32, f"orthogonal_complement of a float32 matrix returned {basis.dtype}"


def test_orthogonal_complement_leaves_its_matrix_alone():
    unchanged(orthogonal_complement, DEPENDENT.copy())


# change_coordinates

# Their determinants are 23.375 and 58.
OLD = np.array([[2.0, -1.0, 0.5], [3.0, 4.0, -2.0], [1.0, 0.25, 2.0]])
NEW = np.array([[1.0, 3.0, -2.0], [0.0, 4.0, 5.0], [2.0, 0.0, 3.0]])


def bases(dim, n):
    rng = np.random.default_rng(dim)
    return [rng.normal(0.2, 1, (dim, dim)) for _ in range(n)]


def test_change_coordinates_describes_the_same_vectors():
    c = np.array([[1.5, -2.0], [0.5, 3.0], [-4.0, 1.0]])
    d = np.array([[-2169.0, -774.0], [1107.0, -326.0], [460.0, 632.0]]) / 464
    call = f"change_coordinates({c.tolist()}, old={OLD.tolist()}, new={NEW.tolist()})"
    assert_close(change_coordinates(c, OLD, NEW), d, call, "equation (8)", rtol=RTOL)


def test_change_coordinates_from_the_standard_basis_finds_the_factors():
    d = np.array([[1.25], [-2.5], [3.75]])
    found = change_coordinates(NEW @ d, np.eye(3), NEW)
    assert_close(found, d, "change_coordinates(new @ d, old=eye(3), new)", "equation (8) with P = I", rtol=RTOL)


def test_change_coordinates_to_the_standard_basis_is_the_vector_itself():
    c = np.array([[1.25], [-2.5], [3.75]])
    found = change_coordinates(c, OLD, np.eye(3))
    assert_close(found, OLD @ c, "change_coordinates(c, old, new=eye(3))", "equation (8) with Q = I", rtol=RTOL)


@pytest.mark.parametrize("dim", [1, 4, 30])
def test_change_coordinates_goes_there_and_back(dim):
    old, new = bases(dim, 2)
    c = np.random.default_rng(8).normal(1, 2, (dim, 7))
    d = change_coordinates(c, old, new)
    assert d.shape == (dim, 7), f"change_coordinates of 7 vectors in {dim} dimensions has the shape {d.shape}"
    # The bases have conditions of up to some 1e3.
    assert_close(
        change_coordinates(d, new, old),
        c,
        "change_coordinates, from old to new and back",
        "the coordinates before",
        rtol=RTOL,
        atol=1e-10,
    )


def test_change_coordinates_may_go_by_way_of_a_third_basis():
    first, second, third = bases(6, 3)
    c = np.random.default_rng(9).normal(1, 2, (6, 2))
    detour = change_coordinates(change_coordinates(c, first, second), second, third)
    assert_close(
        detour,
        change_coordinates(c, first, third),
        "change_coordinates from P to Q to S",
        "from P to S at once",
        rtol=RTOL,
        atol=1e-10,
    )


def test_change_coordinates_leaves_a_small_residual_where_an_inverse_would_not():
    # The Hilbert matrix of order 10 has a condition of 1e13. A backward stable solution leaves a residual of a few eps times
    # the sizes of basis and solution: 0.1 n eps here. Gauss-Jordan elimination leaves n eps. The inverse leaves 1e9 n eps.
    new = hilbert(10, 10)
    c = new @ np.arange(1.0, 21.0).reshape(10, 2)
    d = change_coordinates(c, np.eye(10), new)
    residual = np.linalg.norm(new @ d - c) / (np.linalg.norm(new, 2) * np.linalg.norm(d))
    bound = 100 * 10 * EPS
    assert residual <= bound, (
        f"change_coordinates to the columns of a Hilbert matrix left a relative residual of {residual:.2g} in equation (8); solving leaves at most {bound:.2g}, whatever the condition"
    )


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_change_coordinates_undoes_the_length_of_basis_vectors(scale):
    lengths = np.array([1.0, scale, 1 / scale])
    d = np.array([[1.25], [-2.5], [3.75]])
    found = change_coordinates(NEW @ d, np.eye(3), NEW * lengths)
    assert_close(
        found,
        d / lengths[:, None],
        f"change_coordinates to basis vectors of lengths 1, {scale:g}, {1 / scale:g}",
        "equation (8)",
        rtol=RTOL,
    )


def test_change_coordinates_keeps_float32():
    d = change_coordinates(*(x.astype(np.float32) for x in (np.ones((3, 1)), OLD, NEW)))
    assert d.dtype == np.float32, f"change_coordinates of float32 numbers returned {d.dtype}"


def test_change_coordinates_leaves_its_arrays_alone():
    unchanged(change_coordinates, np.ones((3, 2)), OLD.copy(), NEW.copy())


# change_operator


def test_change_operator_is_the_same_map_between_other_bases():
    a = np.array([[2.0, -1.5, 0.5, 4.0], [1.0, 3.0, -2.5, 0.0], [-3.5, 0.25, 1.0, 2.0]])
    domain = np.array([[1.0, 2.0, 0.0, -1.0], [0.5, -3.0, 1.0, 0.0], [2.0, 0.0, 4.0, 1.5], [0.0, 1.0, -2.0, 3.0]])
    b = change_operator(a, domain, NEW)
    rows = [[143.0, 646.0, -170.0, 3398.0], [95.0, 838.0, -1002.0, 154.0], [-308.0, -1320.0, 152.0, -564.0]]
    call = "change_operator(a, domain, codomain) of a 3 x 4 matrix"
    assert_close(b, np.array(rows) / 464, call, "equation (9)", rtol=RTOL)
    c = np.array([1.5, -2.0, 0.75, 4.0])
    assert_close(
        NEW @ (b @ c),
        a @ (domain @ c),
        "codomain @ (change_operator(a, domain, codomain) @ c)",
        "a @ (domain @ c), equation (9)",
        rtol=RTOL,
    )


def test_change_operator_with_one_basis_uses_it_on_both_sides():
    eigenvectors, eigenvalues = (
        np.array([[1.0, 1.0, 2.0], [0.0, 2.0, -1.0], [1.0, 0.0, 3.0]]),
        np.array([2.5, -1.25, 4.0]),
    )
    a = eigenvectors * eigenvalues @ np.linalg.inv(eigenvectors)
    call = "change_operator(a, domain) with the eigenvectors of a as the basis"
    assert_close(
        change_operator(a, eigenvectors),
        np.diag(eigenvalues),
        call,
        "equation (9): its eigenvalues on the diagonal",
        rtol=RTOL,
        atol=1e-12,
    )
    b = change_operator(a, OLD)
    assert_close(
        OLD @ b,
        a @ OLD,
        "domain @ change_operator(a, domain)",
        "a @ domain, equation (9) with Q = P",
        rtol=RTOL,
        atol=1e-12,
    )


def test_change_operator_keeps_what_belongs_to_the_map():
    a = np.random.default_rng(10).normal(0.5, 2, (8, 8))
    b = change_operator(a, bases(8, 1)[0])
    # The basis has a condition of some 100.
    assert_close(np.trace(b), np.trace(a), "the trace of change_operator(a, domain)", "the trace of a", rtol=1e-8)
    assert_close(
        np.linalg.det(b), np.linalg.det(a), "the determinant of change_operator(a, domain)", "that of a", rtol=1e-8
    )


@pytest.mark.parametrize(("n_rows", "n_cols"), [(5, 9), (9, 5), (6, 6), (1, 3)])
def test_change_operator_agrees_with_changing_the_coordinates(n_rows, n_cols):
    rng = np.random.default_rng(11)
    a, c = rng.normal(0.5, 2, (n_rows, n_cols)), rng.normal(1, 2, (n_cols, 3))
    domain, codomain = bases(n_cols, 1)[0], bases(n_rows, 2)[1]
    found = change_operator(a, domain, codomain) @ c
    expected = np.linalg.solve(codomain, a @ (domain @ c))
    assert_close(
        found,
        expected,
        f"change_operator(a, domain, codomain) @ c for a of shape {a.shape}",
        "the coordinates in codomain of a @ (domain @ c)",
        rtol=RTOL,
        atol=1e-10,
    )


def test_change_operator_leaves_a_small_residual_where_an_inverse_would_not():
    # As for the coordinates: solving leaves 0.1 n eps here, and the inverse 1e9 n eps.
    codomain = hilbert(10, 10)
    a = codomain @ np.arange(1.0, 41.0).reshape(10, 4)
    b = change_operator(a, np.eye(4), codomain)
    residual = np.linalg.norm(codomain @ b - a) / (np.linalg.norm(codomain, 2) * np.linalg.norm(b))
    bound = 100 * 10 * EPS
    assert residual <= bound, (
        f"change_operator to the columns of a Hilbert matrix left a relative residual of {residual:.2g} in equation (9); solving leaves at most {bound:.2g}, whatever the condition"
    )


def test_change_operator_keeps_float32():
    b = change_operator(OLD.astype(np.float32), NEW.astype(np.float32))
    assert b.dtype == np.float32, f"change_operator of float32 numbers returned {b.dtype}"


def test_change_operator_leaves_its_arrays_alone():
    unchanged(change_operator, A.copy(), np.eye(4) + 0.5, NEW.copy())
    unchanged(change_operator, OLD.copy(), NEW.copy())


# What is given: the checks of the arguments

MATRIX_FUNCTIONS = [rref, rank_nullity, null_space, column_space, orthogonal_complement]
NOT_MATRICES = [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[1.0, np.inf]]), np.array([[1j]])]


@pytest.mark.given
@pytest.mark.parametrize("a", NOT_MATRICES)
def test_rref_and_all_others_refuse_what_is_no_matrix_of_finite_numbers(a):
    for function in MATRIX_FUNCTIONS:
        with pytest.raises(ValueError, match="a must"):
            function(a)
    with pytest.raises(ValueError, match="a must"):
        pivot_step(a, 0, 0)
    with pytest.raises(ValueError, match="a must"):
        change_operator(a, np.eye(3))
    with pytest.raises(ValueError, match="coordinates must"):
        change_coordinates(a, np.eye(3), np.eye(3))


@pytest.mark.given
@pytest.mark.parametrize("tol", [-1e-9, 1.0, 30, np.nan, np.inf])
def test_rref_and_all_others_refuse_a_tolerance_that_is_none(tol):
    for function in MATRIX_FUNCTIONS:
        with pytest.raises(ValueError, match="tol must"):
            function(np.eye(2), tol)


@pytest.mark.given
def test_pivot_step_refuses_places_that_do_not_exist():
    for row in (-1, 3):
        with pytest.raises(ValueError, match="row must"):
            pivot_step(A, row, 0)
    for col in (-1, 4):
        with pytest.raises(ValueError, match="col must"):
            pivot_step(A, 0, col)


@pytest.mark.given
def test_pivot_step_refuses_a_column_without_a_pivot():
    with pytest.raises(np.linalg.LinAlgError, match="column 1 is zero from row 1"):
        pivot_step(np.array([[1.0, 5.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 3.0]]), 1, 1)


DEPENDENT_BASIS = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


@pytest.mark.given
@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_change_coordinates_refuses_bases_that_are_none(scale):
    c = np.ones((3, 1))
    with pytest.raises(np.linalg.LinAlgError, match="old must be a basis, but column 2"):
        change_coordinates(c, scale * DEPENDENT_BASIS, NEW)
    with pytest.raises(np.linalg.LinAlgError, match="new must be a basis, but column 1"):
        change_coordinates(c, OLD, scale * DEPENDENT_BASIS[:, [0, 0, 2]])
    with pytest.raises(np.linalg.LinAlgError, match="new must be a basis, but column 0"):
        change_coordinates(c, OLD, NEW * np.array([0.0, 1.0, 1.0]))


@pytest.mark.given
@pytest.mark.parametrize("basis", [np.eye(2), np.ones((3, 2)), np.ones(3), np.diag([1, np.nan, 1])])
def test_change_coordinates_refuses_bases_of_another_shape(basis):
    with pytest.raises(ValueError, match="old must"):
        change_coordinates(np.ones((3, 1)), basis, np.eye(3))
    with pytest.raises(ValueError, match="new must"):
        change_coordinates(np.ones((3, 1)), np.eye(3), basis)


@pytest.mark.given
def test_change_operator_refuses_bases_that_do_not_fit():
    with pytest.raises(ValueError, match="domain must"):
        change_operator(A, np.eye(3), np.eye(3))
    with pytest.raises(ValueError, match="codomain must"):
        change_operator(A, np.eye(4), np.eye(4))
    with pytest.raises(ValueError, match="codomain must"):
        change_operator(A, np.eye(4))
    with pytest.raises(np.linalg.LinAlgError, match="domain must be a basis, but column 2"):
        change_operator(OLD, DEPENDENT_BASIS)
    with pytest.raises(np.linalg.LinAlgError, match="codomain must be a basis, but column 2"):
        change_operator(OLD, NEW, DEPENDENT_BASIS)
