"""Shared tests of linalg/lu: run on the reference, and on the learner's file.

Nothing here is random but seeded data. What is computed with rounding is judged by its backward error, entry by entry: the
factors by |PA - LU| against |L| |U|, a solution by |Ax - b| against |A| |x| (for `solve`, against |L| |U| |x|, its rows put back).
In theory these ratios are at most 3 n eps (Higham, chapters 8 and 9), in practice they are a few eps: the tests allow
10 n eps, whatever the order of summation. Cases by hand have small condition numbers, and 1e-13 is a hundred roundings.
"""

import itertools
import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, kahan, wilkinson_growth, with_singular_values
from mlpath.linalg.lu import (
    LU,
    back_substitution,
    determinant,
    forward_substitution,
    growth_factor,
    inverse,
    log_determinant,
    lu_factor,
    permutation_sign,
    solve,
)
from mlpath.testing import assert_close

RTOL = 1e-13

LOWER = np.array([[2.5, 0.0, 0.0], [-1.3, 0.8, 0.0], [0.7, -2.1, 1.6]])
UPPER = np.array([[1.6, -2.1, 0.7], [0.0, 0.8, -1.3], [0.0, 0.0, 2.5]])

# The rows of a matrix in the order 2, 3, 1, 0: an odd permutation, and not its own inverse.
FACTORS = LU(
    np.array([[1.0, 0, 0, 0], [-0.3, 1, 0, 0], [0.6, 0.2, 1, 0], [0.1, -0.7, 0.4, 1]]),
    np.array([[2.5, -1.2, 0.7, 3.1], [0, -1.8, 0.9, 0.4], [0, 0, 3.2, -0.6], [0, 0, 0, 1.25]]),
    np.array([2, 3, 1, 0]),
)


def product(factors):
    """The matrix that has these factors: row i of LU is its row permutation[i]."""
    a = np.empty((len(factors.lower), factors.upper.shape[1]), dtype=factors.upper.dtype)
    a[factors.permutation] = factors.lower @ factors.upper
    return a


def random_matrix(n_rows, n_cols, seed=3):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(seed).normal(0.3, 2, (n_rows, n_cols))


def random_factors(n, seed=4):
    """Factors that elimination could have made: multipliers up to 1, pivots of both signs away from 0."""
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.uniform(-1, 1, (n, n)), -1) / n + np.eye(n)
    upper = np.triu(rng.normal(size=(n, n)), 1) / n + np.diag(rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 3, n))
    return LU(lower, upper, rng.permutation(n))


def assert_solves(matrix, x, b, call, equation, size=None):
    """Fail unless the residual is as small as rounding makes it, entry by entry."""
    n, eps = len(matrix), np.finfo(x.dtype).eps
    assert x.shape == b.shape, f"{call} returned shape {x.shape}, expected that of b, {b.shape}"
    with np.errstate(all="ignore"):
        residual = np.abs(matrix.astype(float) @ x.astype(float) - b)
        allowed = 10 * n * eps * ((np.abs(matrix) if size is None else size).astype(float) @ np.abs(x.astype(float)))
        worst = np.max(residual / np.maximum(allowed, np.finfo(float).tiny))
    assert worst <= 1, (
        f"{call}: by {equation} the residual should be rounding, but is {worst:.3g} times what is allowed"
    )


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    before = [a.copy() for a in arguments]
    function(*arguments)
    for a, copy in zip(arguments, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# forward_substitution


def test_forward_substitution_solves_from_the_first_equation_on():
    b = np.array([3.5, -4.1, 6.02])  # each step is a division by hand: 1.4, then -2.28 / 0.8 = -2.85, then -0.945 / 1.6
    expected = [1.4, -2.85, -0.590625]
    assert_close(
        forward_substitution(LOWER, b),
        expected,
        "forward_substitution([[2.5, 0, 0], [-1.3, 0.8, 0], [0.7, -2.1, 1.6]], [3.5, -4.1, 6.02])",
        "equation (1)",
        rtol=RTOL,
    )


def test_forward_substitution_takes_each_column_for_a_system_of_its_own():
    b = np.array([[3.5, -1.75], [-4.1, 2.2], [6.02, 0.37]])
    expected = [[1.4, -0.7], [-2.85, 1.6125], [-0.590625, 2.65390625]]
    call = "forward_substitution(lower, b) with two columns in b"
    assert_close(forward_substitution(LOWER, b), expected, call, "equation (1), column by column", rtol=RTOL)


def test_forward_substitution_does_not_read_above_the_diagonal():
    b = np.array([3.5, -4.1, 6.02])
    x = forward_substitution(LOWER + np.triu(np.full((3, 3), 7.7), 1), b)
    expected = [1.4, -2.85, -0.590625]
    assert_close(x, expected, "forward_substitution with 7.7 above the diagonal", "equation (1)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(1,), (2, 1), (40,), (40, 7), (7, 40)], ids=str)
def test_forward_substitution_leaves_a_residual_of_rounding_only(shape):
    n = shape[0]
    for name, lower in {
        "random": np.tril(random_matrix(n, n)) + 3 * np.eye(n),
        "Kahan's": kahan(n).T,
        "graded": np.tril(random_matrix(n, n)) * 10.0 ** -np.arange(n)[:, None],
    }.items():
        b = np.random.default_rng(1).normal(size=shape)
        x = forward_substitution(lower, b)
        assert_solves(lower, x, b, f"forward_substitution of a {name} triangle, b of shape {shape}", "(1)")


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_forward_substitution_works_at_any_scale(scale):
    b = np.array([3.5, -4.1, 6.02])
    x = forward_substitution(scale * LOWER, b)
    expected = np.array([1.4, -2.85, -0.590625]) / scale
    assert_close(x, expected, f"forward_substitution({scale:g} * lower, b)", "equation (1)", rtol=RTOL)


def test_forward_substitution_keeps_float32_where_both_arguments_have_it():
    lower, b = LOWER.astype(np.float32), np.array([3.5, -4.1, 6.02], dtype=np.float32)
    x = forward_substitution(lower, b)
    assert x.dtype == np.float32, f"forward_substitution of float32 arrays returned {x.dtype}, expected float32"
    assert_solves(lower, x, b, "forward_substitution of float32 arrays", "(1)")
    mixed = forward_substitution(lower, b.astype(float)).dtype
    assert mixed == np.float64, f"forward_substitution with b in float64 returned {mixed}, expected float64"


def test_forward_substitution_takes_whole_numbers():
    x = forward_substitution(np.array([[2, 0], [3, 4]]), np.array([5, 1]))
    assert_close(x, [2.5, -1.625], "forward_substitution([[2, 0], [3, 4]], [5, 1])", "equation (1)", rtol=RTOL)


def test_forward_substitution_leaves_its_arguments_alone():
    unchanged(forward_substitution, LOWER.copy(), np.array([3.5, -4.1, 6.02]))


# back_substitution


def test_back_substitution_solves_from_the_last_equation_on():
    b = np.array([6.02, -4.1, 3.5])
    expected = [-0.590625, -2.85, 1.4]
    assert_close(
        back_substitution(UPPER, b),
        expected,
        "back_substitution([[1.6, -2.1, 0.7], [0, 0.8, -1.3], [0, 0, 2.5]], [6.02, -4.1, 3.5])",
        "equation (2)",
        rtol=RTOL,
    )


def test_back_substitution_takes_each_column_for_a_system_of_its_own():
    b = np.array([[6.02, 0.37], [-4.1, 2.2], [3.5, -1.75]])
    expected = [[-0.590625, 2.65390625], [-2.85, 1.6125], [1.4, -0.7]]
    call = "back_substitution(upper, b) with two columns in b"
    assert_close(back_substitution(UPPER, b), expected, call, "equation (2), column by column", rtol=RTOL)


def test_back_substitution_does_not_read_below_the_diagonal():
    b = np.array([6.02, -4.1, 3.5])
    x = back_substitution(UPPER + np.tril(np.full((3, 3), 7.7), -1), b)
    expected = [-0.590625, -2.85, 1.4]
    assert_close(x, expected, "back_substitution with 7.7 below the diagonal", "equation (2)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(1,), (2, 1), (40,), (40, 7), (7, 40)], ids=str)
def test_back_substitution_leaves_a_residual_of_rounding_only(shape):
    n = shape[0]
    for name, upper in {
        "random": np.triu(random_matrix(n, n)) + 3 * np.eye(n),
        "Kahan's": kahan(n),
        "graded": np.triu(random_matrix(n, n)) * 10.0 ** -np.arange(n)[:, None],
    }.items():
        b = np.random.default_rng(1).normal(size=shape)
        x = back_substitution(upper, b)
        assert_solves(upper, x, b, f"back_substitution of a {name} triangle, b of shape {shape}", "(2)")


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_back_substitution_works_at_any_scale(scale):
    b = np.array([6.02, -4.1, 3.5])
    x = back_substitution(scale * UPPER, b)
    expected = np.array([-0.590625, -2.85, 1.4]) / scale
    assert_close(x, expected, f"back_substitution({scale:g} * upper, b)", "equation (2)", rtol=RTOL)


def test_back_substitution_keeps_float32_where_both_arguments_have_it():
    upper, b = UPPER.astype(np.float32), np.array([6.02, -4.1, 3.5], dtype=np.float32)
    x = back_substitution(upper, b)
    assert x.dtype == np.float32, f"back_substitution of float32 arrays returned {x.dtype}, expected float32"
    assert_solves(upper, x, b, "back_substitution of float32 arrays", "(2)")
    mixed = back_substitution(upper, b.astype(float)).dtype
    assert mixed == np.float64, f"back_substitution with b in float64 returned {mixed}, expected float64"


def test_back_substitution_leaves_its_arguments_alone():
    unchanged(back_substitution, UPPER.copy(), np.array([6.02, -4.1, 3.5]))


# lu_factor


def check_factors(a, factors, name):
    """Equations (6) and (8), and the shapes of the triangles."""
    call = f"lu_factor of {name}, of shape {a.shape},"
    lower, upper, permutation = factors.lower, factors.upper, np.asarray(factors.permutation)
    m, n, k = *a.shape, min(a.shape)
    assert lower.shape == (m, k), f"{call} returned lower of shape {lower.shape}, expected {(m, k)}"
    assert upper.shape == (k, n), f"{call} returned upper of shape {upper.shape}, expected {(k, n)}"
    assert np.array_equal(np.sort(permutation), np.arange(m)), f"{call} returned the permutation {permutation}"
    assert np.isfinite(lower).all() and np.isfinite(upper).all(), f"{call} returned factors that are not finite"
    assert not np.triu(lower, 1).any(), f"{call} returned a lower factor with entries above its diagonal"
    assert (np.diagonal(lower) == 1).all(), f"{call} returned a lower factor without ones on its diagonal"
    assert not np.tril(upper, -1).any(), f"{call} returned an upper factor with entries below its diagonal"
    largest = np.abs(lower).max()
    assert largest <= 1, f"{call} returned a multiplier of absolute value {largest:.4g}; equation (6) allows 1"
    exact = [part.astype(float) for part in (a, lower, upper)]
    error = np.abs(exact[0][permutation] - exact[1] @ exact[2])
    allowed = 10 * k * np.finfo(a.dtype).eps * (np.abs(exact[1]) @ np.abs(exact[2]))
    worst = np.max(error / np.maximum(allowed, np.finfo(float).tiny))
    assert worst <= 1, (
        f"{call} is wrong: by (8) a[permutation] is LU, but it is off by {worst:.3g} times what is allowed"
    )


def test_lu_factor_eliminates_with_the_largest_pivot_of_each_column():
    # The third row goes to the top; then 2.7 - 0.6 * 1.5 = 1.8 is larger than -0.2 - 0.4 * 1.5 = -0.8: no exchange.
    a = np.array([[1.0, -0.2, 0.9], [1.5, 2.7, -0.1], [2.5, 1.5, -1.0]])
    factors = lu_factor(a)
    call = "lu_factor([[1, -0.2, 0.9], [1.5, 2.7, -0.1], [2.5, 1.5, -1]])"
    multiplier = -0.8 / 1.8
    assert_close(
        factors.upper,
        [[2.5, 1.5, -1.0], [0.0, 1.8, 0.5], [0.0, 0.0, 1.3 - 0.5 * multiplier]],
        f"{call}.upper",
        "equation (4)",
        rtol=RTOL,
        atol=1e-15,
    )
    expected = [[1.0, 0.0, 0.0], [0.6, 1.0, 0.0], [0.4, multiplier, 1.0]]
    assert_close(factors.lower, expected, f"{call}.lower", "equations (4) and (7)", rtol=RTOL, atol=1e-15)
    assert_close(factors.permutation, [2, 1, 0], f"{call}.permutation", "equation (8)")


def test_lu_factor_moves_earlier_multipliers_along_with_their_rows():
    a = np.array([[0.5, 1.7, -2.3, 0.9], [-2.0, 0.8, 1.1, 0.3], [1.0, 3.6, 0.4, -0.7], [1.5, -1.2, 2.9, 4.4]])
    factors = lu_factor(a)
    # The pivots are the -2 of row 1, then 3.6 + 0.5 * 0.8 = 4 of row 2, then 3.8675 of row 3: row 0 goes down step by step.
    assert_close(factors.permutation, [1, 2, 3, 0], f"lu_factor({a.tolist()}).permutation", "equation (8)")
    found = factors.lower[1:, 0]
    assert_close(found, [-0.5, -0.75, -0.25], "the first column of its lower factor", "equation (7)", rtol=RTOL)


def test_lu_factor_exchanges_rows_where_a_tiny_pivot_would_drown_the_rest():
    factors = lu_factor(np.array([[1e-20, 1.0], [1.0, 5.0]]))
    call = "lu_factor([[1e-20, 1], [1, 5]])"
    assert_close(factors.lower, [[1.0, 0.0], [1e-20, 1.0]], f"{call}.lower", "equations (4) and (6)", rtol=RTOL)
    assert_close(factors.upper, [[1.0, 5.0], [0.0, 1.0]], f"{call}.upper", "equations (4) and (6)", rtol=RTOL)
    assert_close(factors.permutation, [1, 0], f"{call}.permutation", "equation (8)")


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 5), (5, 1), (9, 9), (60, 60), (30, 12), (12, 30), (2, 3), (3, 2)], ids=str
)
def test_lu_factor_gives_the_reordered_matrix_for_any_shape(shape):
    a = random_matrix(*shape)
    check_factors(a, lu_factor(a), "random entries")


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_lu_factor_works_at_any_scale(scale):
    a = random_matrix(20, 20)
    plain, scaled = lu_factor(a), lu_factor(scale * a)
    check_factors(scale * a, scaled, f"{scale:g} * a")
    call = f"lu_factor({scale:g} * a).lower"
    assert_close(scaled.lower, plain.lower, call, "that of a: (4) has only ratios in it", rtol=1e-9, atol=1e-12)


HARD = {
    "Hilbert's matrix": hilbert(12, 12),
    "Kahan's matrix": kahan(40).T,
    "Wilkinson's matrix, where entries double at each step": wilkinson_growth(50),
    "a graded matrix": random_matrix(20, 20) * 10.0 ** np.arange(0, -40, -2)[:, None],
    "a matrix with graded columns": random_matrix(20, 20) * 10.0 ** np.arange(0, -40, -2),
    "a matrix of rank 3": random_matrix(10, 3) @ random_matrix(3, 8),
    "singular values down to 1e-15": with_singular_values(np.geomspace(1, 1e-15, 12), 20, np.random.default_rng(2)),
    "zeros on the diagonal": np.ones((6, 6)) - np.eye(6),
    "a cyclic permutation": np.roll(np.eye(7), 3, axis=0),
}


@pytest.mark.parametrize("name", HARD)
def test_lu_factor_is_exact_up_to_rounding_for_hard_matrices(name):
    check_factors(HARD[name], lu_factor(HARD[name]), name)


def test_lu_factor_lets_entries_grow_no_more_than_they_must():
    # Below -0.9 each pivot of 1 is the largest of its column, so no rows move and the last column grows by 1.9 at each step.
    a = np.eye(20) - 0.9 * np.tril(np.ones((20, 20)), -1)
    a[:, -1] = 1
    expected = 1.9 ** np.arange(20)
    call = "the last column of lu_factor(a).upper, for Wilkinson's matrix with -0.9"
    assert_close(lu_factor(a).upper[:, -1], expected, call, "equation (4)", rtol=1e-11)


SINGULAR = {
    "zeros": np.zeros((3, 3)),
    "a zero column in front": np.array([[0.0, 2.0, 1.3], [0.0, -3.7, 0.6], [0.0, 1.1, 2.2]]),
    "a zero column in the middle": np.array([[2.0, 0.0, 1.3], [1.0, 0.0, 0.6], [-0.5, 0.0, 2.2]]),
    "equal columns": np.array([[1.0, 1.0, 3.5], [2.0, 2.0, -0.3], [-4.0, -4.0, 0.9]]),
    "equal rows": np.array([[1.5, 2.5, 3.5], [1.5, 2.5, 3.5], [-4.0, 0.75, 0.25]]),
    "a zero column in a tall matrix": np.array([[0.0, 2.0], [0.0, -3.7], [0.0, 1.1], [0.0, 0.4]]),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_lu_factor_succeeds_for_singular_matrices(name):
    a = SINGULAR[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the check of the factors says it better than NumPy's warning
        factors = lu_factor(a)
    check_factors(a, factors, name)
    smallest = np.abs(np.diagonal(factors.upper)).min()
    assert smallest == 0, f"lu_factor of a matrix with {name} has no zero pivot: its smallest is {smallest:.3g}"


def test_lu_factor_keeps_float32():
    a = random_matrix(30, 30).astype(np.float32)
    factors = lu_factor(a)
    for name in ("lower", "upper"):
        dtype = getattr(factors, name).dtype
        assert dtype == np.float32, f"lu_factor of a float32 matrix returned {name} of {dtype}, expected float32"
    check_factors(a, factors, "float32 entries")


def test_lu_factor_takes_whole_numbers():
    a = np.array([[1, 2, 4], [4, 4, 5], [2, 7, 4]])
    check_factors(a.astype(float), lu_factor(a), "whole numbers")


def test_lu_factor_leaves_its_matrix_alone():
    unchanged(lu_factor, random_matrix(6, 6))


@pytest.mark.given
@pytest.mark.parametrize("a", [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[-np.inf]]), [[1j]]])
def test_lu_factor_refuses_what_is_no_matrix_of_finite_numbers(a):
    with pytest.raises(ValueError, match="a must"):
        lu_factor(a)


# solve


def test_solve_reorders_b_and_solves_two_triangles():
    expected = np.array([1.5, -0.25, 2.75, 0.8])
    b = product(FACTORS) @ expected
    call = f"solve(factors, {b.round(4)}) with the permutation [2, 3, 1, 0]"
    assert_close(solve(FACTORS, b), expected, call, "equation (9)", rtol=1e-12)


def test_solve_takes_each_column_for_a_system_of_its_own():
    expected = np.array([[1.5, 0.3], [-0.25, 3.9], [2.75, -1.4], [0.8, 0.65]])
    x = solve(FACTORS, product(FACTORS) @ expected)
    assert_close(x, expected, "solve(factors, b) with two columns in b", "equation (9)", rtol=1e-12)


@pytest.mark.parametrize("shape", [(1,), (2, 5), (60,), (60, 9)], ids=str)
def test_solve_leaves_a_residual_of_rounding_only(shape):
    a = random_matrix(shape[0], shape[0])
    b = np.random.default_rng(5).normal(size=shape)
    factors = lu_factor(a)
    size = product(LU(np.abs(factors.lower), np.abs(factors.upper), factors.permutation))
    x = solve(factors, b)
    assert_solves(a, x, b, f"solve(lu_factor(a), b), b of shape {shape}", "(9)", size)
    call = f"solve(lu_factor(a), b), b of shape {shape}"
    assert_close(x, np.linalg.solve(a, b), call, "NumPy", rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "name", ["Hilbert's matrix", "a graded matrix", "a matrix with graded columns", "Kahan's matrix"]
)
def test_solve_leaves_a_residual_of_rounding_for_matrices_that_are_nearly_singular(name):
    a = HARD[name]
    b = np.random.default_rng(6).normal(size=len(a))
    factors = lu_factor(a)
    size = product(LU(np.abs(factors.lower), np.abs(factors.upper), factors.permutation))
    assert_solves(a, solve(factors, b), b, f"solve(lu_factor(a), b) for {name}", "(9)", size)


def test_solve_is_right_where_a_tiny_pivot_would_drown_the_rest():
    # The exact solution is (1 / (1 - 5e-20)) (1, 1 - 6e-20), which rounds to (1, 1).
    x = solve(lu_factor(np.array([[1e-20, 1.0], [1.0, 5.0]])), np.array([1.0, 6.0]))
    assert_close(x, [1.0, 1.0], "solve(lu_factor([[1e-20, 1], [1, 5]]), [1, 6])", "equation (9)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_solve_works_at_any_scale(scale):
    a, b = random_matrix(8, 8), np.random.default_rng(7).normal(size=8)
    x = solve(lu_factor(scale * a), b) * scale
    assert_close(x, np.linalg.solve(a, b), f"{scale:g} * solve(lu_factor({scale:g} * a), b)", "solve for a", rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "pivot"),
    [("zeros", 0), ("a zero column in front", 0), ("equal columns", 1), ("a zero column in the middle", 1)],
)
def test_solve_names_the_first_zero_pivot_of_a_singular_matrix(name, pivot):
    with pytest.raises(np.linalg.LinAlgError, match=rf"upper\[{pivot}, {pivot}\]"):
        solve(lu_factor(SINGULAR[name]), np.ones(3))


def test_solve_keeps_float32_where_both_arguments_have_it():
    factors = LU(FACTORS.lower.astype(np.float32), FACTORS.upper.astype(np.float32), FACTORS.permutation)
    x = solve(factors, np.ones(4, dtype=np.float32))
    assert x.dtype == np.float32, f"solve of float32 arrays returned {x.dtype}, expected float32"
    expected = np.linalg.solve(product(FACTORS), np.ones(4))
    assert_close(x, expected, "solve of float32 arrays", "equation (9)", rtol=1e-5, tolerance="a float32 has 7 digits")
    mixed = solve(factors, np.ones(4)).dtype
    assert mixed == np.float64, f"solve with b in float64 returned {mixed}, expected float64"


def test_solve_leaves_its_arguments_alone():
    unchanged(lambda *parts: solve(LU(*parts[:3]), parts[3]), *vars(FACTORS).values(), np.ones(4))


# permutation_sign


@pytest.mark.parametrize(
    ("permutation", "expected"),
    [
        ([0], 1),
        ([0, 1, 2, 3], 1),
        ([1, 0], -1),
        ([0, 3, 2, 1], -1),
        ([1, 2, 0], 1),
        ([2, 0, 1], 1),
        ([3, 0, 1, 2], -1),
        ([1, 0, 3, 2], 1),
        ([2, 3, 1, 0], -1),
    ],
)
def test_permutation_sign_counts_exchanges(permutation, expected):
    sign = permutation_sign(np.array(permutation))
    assert_close(sign, expected, f"permutation_sign({permutation})", "equation (11)")


def test_permutation_sign_is_the_determinant_of_the_reordered_identity():
    for permutation in itertools.permutations(range(4)):
        expected = np.linalg.det(np.eye(4)[list(permutation)])
        call = f"permutation_sign({list(permutation)})"
        assert_close(permutation_sign(np.array(permutation)), expected, call, "det P", rtol=1e-9)


@pytest.mark.parametrize("n", [9, 50, 501])
def test_permutation_sign_turns_around_with_every_exchange(n):
    rng = np.random.default_rng(n)
    permutation, sign = np.arange(n), 1
    for exchanges in range(1, 8):
        i, j = rng.choice(n, 2, replace=False)
        permutation[[i, j]] = permutation[[j, i]]
        sign = -sign
        call = f"permutation_sign after {exchanges} exchanges of {n} numbers"
        assert_close(permutation_sign(permutation), sign, call, "equation (11)")


def test_permutation_sign_leaves_its_permutation_alone():
    unchanged(permutation_sign, np.array([2, 3, 1, 0]))


@pytest.mark.given
@pytest.mark.parametrize("permutation", [[], [1, 2], [0, 0], [0, 2], [-1, 0], [[0, 1]]])
def test_permutation_sign_refuses_what_is_no_permutation(permutation):
    with pytest.raises(ValueError, match="permutation must"):
        permutation_sign(np.array(permutation))


# log_determinant


def test_log_determinant_adds_the_logarithms_of_the_pivots():
    sign, log_abs = log_determinant(FACTORS)
    call = "log_determinant of pivots 2.5, -1.8, 3.2 and 1.25 with an odd permutation:"
    assert_close(log_abs, np.log(18.0), f"{call} the logarithm", "equation (10)", rtol=RTOL)
    assert_close(sign, 1.0, f"{call} the sign", "equation (10): minus times minus")


def test_log_determinant_has_the_sign_of_pivots_and_permutation():
    for n, seed in itertools.product((1, 2, 5, 30), range(4)):
        factors = random_factors(n, seed)
        expected = np.linalg.slogdet(product(factors))
        call = f"log_determinant of random factors, n = {n},"
        assert_close(log_determinant(factors), tuple(expected), call, "equation (10), by NumPy", rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("n", [2, 3, 8, 31])
def test_log_determinant_agrees_with_numpy_on_the_factors_of_random_matrices(n):
    a = random_matrix(n, n, seed=n)
    expected = tuple(np.linalg.slogdet(a))
    call = f"log_determinant(lu_factor(a)), n = {n},"
    assert_close(log_determinant(lu_factor(a)), expected, call, "NumPy", rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_log_determinant_is_finite_where_the_determinant_leaves_the_range_of_floats(scale):
    factors = random_factors(40)
    sign, log_abs = log_determinant(factors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scaled = log_determinant(LU(factors.lower, scale * factors.upper, factors.permutation))
    expected = sign, log_abs + 40 * np.log(scale)
    assert_close(scaled, expected, f"log_determinant of {scale:g} * a, n = 40,", "equation (10)", rtol=1e-12)


@pytest.mark.parametrize("position", [0, 2, 3])
def test_log_determinant_of_a_singular_matrix_is_minus_infinity(position):
    upper = FACTORS.upper.copy()
    upper[position, position] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a zero pivot is no surprise, and needs no warning
        found = log_determinant(LU(FACTORS.lower, upper, FACTORS.permutation))
    call = f"log_determinant of factors with pivot {position} zero:"
    assert_close(found, (0.0, -np.inf), call, "the note after equation (10)")


def test_log_determinant_works_on_float32():
    factors = LU(FACTORS.lower.astype(np.float32), FACTORS.upper.astype(np.float32), FACTORS.permutation)
    expected = (1.0, np.log(18.0))
    call = "log_determinant of float32 factors:"
    assert_close(log_determinant(factors), expected, call, "(10)", rtol=1e-5, tolerance="a float32 has 7 digits")


def test_log_determinant_is_all_that_the_determinant_needs():
    assert_close(determinant(FACTORS), 18.0, "determinant of pivots 2.5, -1.8, 3.2, 1.25", "equation (10)", rtol=1e-12)
    wide = LU(np.eye(3), np.diag([1e200, -2e200, 1e-300]), np.arange(3))
    # The logarithms are up to 1400 in sum, of which rounding takes some 1e-13.
    assert_close(determinant(wide), -2e100, "determinant of diag(1e200, -2e200, 1e-300)", "equation (10)", rtol=1e-11)
    huge = LU(np.eye(2), np.diag([-1e200, 1e200]), np.arange(2))
    assert_close(determinant(huge), -np.inf, "determinant of diag(-1e200, 1e200)", "its docstring")
    singular = LU(np.eye(2), np.array([[2.0, 1.0], [0.0, 0.0]]), np.arange(2))
    assert_close(determinant(singular), 0.0, "determinant of a singular matrix", "its docstring")


def test_log_determinant_leaves_its_factors_alone():
    unchanged(lambda *parts: log_determinant(LU(*parts)), *vars(FACTORS).values())


# inverse


def test_inverse_solves_for_the_columns_of_the_identity():
    # The rows come as 1, 2, 0, which is not its own inverse: P and its transpose are told apart.
    lower = np.array([[1.0, 0, 0], [0.5, 1, 0], [-0.25, 0.75, 1]])
    upper = np.array([[1.6, 0.8, -2.4], [0, 2.5, 1.5], [0, 0, -1.25]])
    factors = LU(lower, upper, np.array([1, 2, 0]))
    expected = np.linalg.inv(product(factors))
    call = "inverse of factors with the permutation [1, 2, 0]"
    assert_close(inverse(factors), expected, call, "equation (9) with b = I", rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_inverse_times_the_matrix_is_the_identity(n):
    factors = random_factors(n)
    a, found = product(factors), inverse(factors)
    size = product(LU(np.abs(factors.lower), np.abs(factors.upper), factors.permutation))
    assert_solves(a, found, np.eye(n), f"inverse of random factors, n = {n}", "(9)", size)


def test_inverse_refuses_a_singular_matrix():
    with pytest.raises(np.linalg.LinAlgError, match=r"upper\[1, 1\]"):
        inverse(LU(np.eye(3), np.diag([2.0, 0.0, 1.0]), np.arange(3)))


def test_inverse_keeps_float32():
    found = inverse(LU(FACTORS.lower.astype(np.float32), FACTORS.upper.astype(np.float32), FACTORS.permutation))
    assert found.dtype == np.float32, f"inverse of float32 factors returned {found.dtype}, expected float32"


def test_inverse_leaves_its_factors_alone():
    unchanged(lambda *parts: inverse(LU(*parts)), *vars(FACTORS).values())


# growth_factor


def test_growth_factor_compares_the_largest_entries():
    # The largest entry of U is neither a pivot nor positive, and the largest of A, 2.7, is not in its first row.
    lower = np.array([[1.0, 0, 0], [-0.6, 1, 0], [0.4, 0.5, 1]])
    factors = LU(lower, np.array([[2.5, -1.5, -2.0], [0, 1.8, -3.4], [0, 0, 0.9]]), np.array([1, 2, 0]))
    a = np.array([[1.0, 0.3, -1.6], [2.5, -1.5, -2.0], [-1.5, 2.7, -2.2]])
    call = f"growth_factor({a.tolist()}, factors) with upper = {factors.upper.tolist()}"
    assert_close(growth_factor(a, factors), 3.4 / 2.7, call, "equation (12): 3.4 / 2.7", rtol=RTOL)


@pytest.mark.parametrize("n", [2, 5, 60])
def test_growth_factor_of_wilkinsons_matrix_doubles_with_every_row(n):
    a = wilkinson_growth(n)
    upper = np.eye(n)
    upper[:, -1] = 2.0 ** np.arange(n)
    factors = LU(np.tril(a), upper, np.arange(n))
    factors.lower[-1, -1] = 1
    call = f"growth_factor of Wilkinson's matrix of {n} rows"
    assert_close(growth_factor(a, factors), 2.0 ** (n - 1), call, "the note after equation (12)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(10, 10), (100, 100), (50, 20), (20, 50)], ids=str)
def test_growth_factor_of_random_matrices_is_small(shape):
    a = random_matrix(*shape, seed=8)
    factors = lu_factor(a)
    expected = np.abs(factors.upper).max() / np.abs(a).max()
    found = growth_factor(a, factors)
    assert_close(found, expected, f"growth_factor(a, lu_factor(a)) of shape {shape}", "equation (12)", rtol=1e-9)
    assert 0.5 < found < 15, f"growth_factor of a random matrix is {found:.3g}: a few units were expected"


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_growth_factor_does_not_depend_on_the_scale(scale):
    factors = LU(FACTORS.lower, scale * FACTORS.upper, FACTORS.permutation)
    expected = 3.2 / np.abs(product(FACTORS)).max()
    call = f"growth_factor of {scale:g} * a"
    assert_close(growth_factor(product(factors), factors), expected, call, "equation (12)", rtol=1e-12)


def test_growth_factor_of_the_zero_matrix_is_1():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = growth_factor(np.zeros((2, 2)), LU(np.eye(2), np.zeros((2, 2)), np.arange(2)))
    assert_close(found, 1.0, "growth_factor(zeros((2, 2)), factors)", "its docstring")


def test_growth_factor_leaves_its_arguments_alone():
    a = product(FACTORS)
    unchanged(lambda a, *parts: growth_factor(a, LU(*parts)), a, *vars(FACTORS).values())


# What is given: the checks of the arguments


@pytest.mark.given
@pytest.mark.parametrize(
    "triangle",
    [np.ones((2, 3)), np.ones(2), np.zeros((0, 0)), np.array([[np.nan]]), np.array([[1.0, np.inf], [0, 1]]), [["a"]]],
)
def test_forward_substitution_and_back_substitution_refuse_what_is_no_square_matrix_of_finite_numbers(triangle):
    with pytest.raises(ValueError, match="lower must"):
        forward_substitution(triangle, np.ones(len(triangle)))
    with pytest.raises(ValueError, match="upper must"):
        back_substitution(triangle, np.ones(len(triangle)))


@pytest.mark.given
@pytest.mark.parametrize(
    "b", [np.ones(2), np.ones((2, 4)), np.ones((4, 1, 1)), np.array(1.0), np.ones((4, 0)), np.array([1, 2, 3, np.nan])]
)
def test_forward_substitution_back_substitution_and_solve_refuse_right_hand_sides_that_do_not_fit(b):
    for call in (
        lambda: forward_substitution(np.eye(4), b),
        lambda: back_substitution(np.eye(4), b),
        lambda: solve(FACTORS, b),
    ):
        with pytest.raises(ValueError, match="b must"):
            call()


@pytest.mark.given
def test_forward_substitution_and_back_substitution_name_the_zero_on_the_diagonal():
    triangle = np.diag([1.0, 2.0, 0.0, 0.0])
    with pytest.raises(np.linalg.LinAlgError, match=r"lower\[2, 2\]"):
        forward_substitution(triangle, np.ones(4))
    with pytest.raises(np.linalg.LinAlgError, match=r"upper\[2, 2\]"):
        back_substitution(triangle, np.ones(4))


@pytest.mark.given
def test_solve_log_determinant_and_inverse_refuse_factors_of_a_matrix_that_is_not_square():
    for shape in ((5, 3), (3, 5)):
        factors = LU(np.eye(shape[0], 3), np.eye(3, shape[1]), np.arange(shape[0]))
        for call in (
            lambda f: solve(f, np.ones(len(f.permutation))),
            log_determinant,
            determinant,
            inverse,
        ):
            with pytest.raises(ValueError, match="factors must"):
                call(factors)


@pytest.mark.given
def test_growth_factor_refuses_bad_matrices_and_factors_of_another_shape():
    for a in (np.ones((2, 2)), np.ones((4, 3))):
        with pytest.raises(ValueError, match="factors must"):
            growth_factor(a, FACTORS)
    for a in (np.ones(4), np.full((4, 4), np.nan)):
        with pytest.raises(ValueError, match="a must"):
            growth_factor(a, FACTORS)
