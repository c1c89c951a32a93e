"""Shared tests of linalg/cholesky: run on the reference, and on the learner's file.

Factors are judged by their backward errors, entry by entry: |A - L L'| against |L| |L'|, or |L| |D| |L'|. In theory the ratio is
at most (n + 1) eps, in practice a few eps (Higham, chapter 10): the tests allow 10 (n + 1) eps, whatever the order of summation.
An update or downdate is a chain of n rotations of the rows of (L x), each of which has the length of the root of a diagonal
entry; the tests allow 10 n eps of the product of two such lengths. Cases by hand have small condition numbers, and 1e-13 is a
hundred roundings.

Of the draws, each check by chance fails for a right solution once in 10^8 seeds; all of them together, below once in 10^6.
"""

import warnings

import numpy as np
import pytest
from scipy.special import ndtr

from mlpath.linalg._shared import hilbert, kahan, with_singular_values
from mlpath.linalg.cholesky import (
    cholesky,
    downdate,
    gaussian_log_density,
    ldl,
    log_determinant,
    sample_gaussian,
    solve,
    update,
)
from mlpath.testing import assert_close, assert_distribution, assert_mean, assert_variance

RTOL = 1e-13

A = np.array([[2.56, -1.12, 0.72], [-1.12, 4.9, 2.415], [0.72, 2.415, 2.5325]])
LOWER = np.array([[1.6, 0.0, 0.0], [-0.7, 2.1, 0.0], [0.45, 1.3, 0.8]])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def positive_definite(n, seed=3):
    """A covariance whose variances differ, with correlations of both signs."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, n + 3)) * np.geomspace(1, 4, n)[:, None]
    return rows @ rows.T / n + 0.1 * np.eye(n)


def assert_small(error, size, n, dtype, says):
    """Fail unless an error is at most 10 (n + 1) roundings of a size, entry by entry."""
    allowed = 10 * (n + 1) * np.finfo(dtype).eps * size
    worst = np.max(np.abs(error) / np.maximum(allowed, np.finfo(float).tiny))
    assert worst <= 1, f"{says}, but is off by {worst:.3g} times what rounding may do"


def assert_lower(lower, call):
    """Fail unless this is a lower triangle with a positive diagonal."""
    assert np.isfinite(lower).all(), f"{call} returned numbers that are not finite:\n{lower}"
    assert not np.triu(lower, 1).any(), f"{call} returned entries above the diagonal:\n{lower}"
    assert (np.diagonal(lower) > 0).all(), f"{call} returned a diagonal that is not positive: {np.diagonal(lower)}"


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    before = [a.copy() for a in arguments]
    function(*arguments)
    for a, copy in zip(arguments, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# cholesky


def test_cholesky_takes_the_root_column_by_column():
    call = "cholesky([[2.56, -1.12, 0.72], [-1.12, 4.9, 2.415], [0.72, 2.415, 2.5325]])"
    assert_close(cholesky(A), LOWER, call, "equations (2) and (3)", rtol=RTOL)


DEFINITE = {
    "a matrix of one entry": np.array([[6.25]]),
    "random entries": positive_definite(40),
    "Hilbert's matrix of order 10": hilbert(10, 10),
    "Hilbert's matrix of order 12, with 1e-13 added to the diagonal": hilbert(12, 12) + 1e-13 * np.eye(12),
    "Kahan's matrix, transposed, times itself": kahan(20).T @ kahan(20),
    "a graded matrix": positive_definite(15) * np.outer(10.0 ** -np.arange(15), 10.0 ** -np.arange(15)),
    "a matrix graded the other way": positive_definite(15) * np.outer(10.0 ** np.arange(15), 10.0 ** np.arange(15)),
    "a matrix near 1e150": 1e150 * positive_definite(6),
    "a matrix near 1e-150": 1e-150 * positive_definite(6),
    "a matrix of float32": positive_definite(20).astype(np.float32),
}


@pytest.mark.parametrize("name", DEFINITE)
def test_cholesky_times_its_transpose_is_the_matrix(name):
    a = DEFINITE[name]
    lower = cholesky(a)
    assert_lower(lower, f"cholesky of {name}")
    assert lower.dtype == a.dtype, f"cholesky of {name} returned {lower.dtype}, expected {a.dtype}"
    exact = lower.astype(float)
    says = f"cholesky of {name}: by (1) its product is A"
    assert_small(a - exact @ exact.T, np.abs(exact) @ np.abs(exact.T), len(a), a.dtype, says)


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_cholesky_agrees_with_numpy(n):
    a = positive_definite(n, seed=n)
    because = "(1), by NumPy; the condition number is below 1e5"
    assert_close(cholesky(a), np.linalg.cholesky(a), f"cholesky(a), n = {n}", because, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("a", "order"),
    [
        (np.diag([-1.0, 2.0]), 1),
        (np.zeros((3, 3)), 1),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), 2),
        (np.array([[4.0, 2.0, 1.0], [2.0, 1.0, 3.0], [1.0, 3.0, 9.0]]), 2),  # a minor of exactly 0
        (np.diag([5.0, 3.0, 2.0, -1e-9]), 4),
        (np.diag([2.0, 1.0, -3.0, -4.0]), 3),
    ],
    ids=["negative", "zeros", "indefinite", "minor of zero", "last", "third"],
)
def test_cholesky_names_the_first_leading_minor_that_is_not_positive(a, order):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(np.linalg.LinAlgError, match=rf"order {order}\b"):
            cholesky(a)


def test_cholesky_takes_whole_numbers():
    expected = [[2.0, 0.0, 0.0], [1.0, 3.0, 0.0], [-2.0, 1.0, 1.0]]
    call = "cholesky([[4, 2, -4], [2, 10, 1], [-4, 1, 6]]) of whole numbers"
    assert_close(cholesky(np.array([[4, 2, -4], [2, 10, 1], [-4, 1, 6]])), expected, call, "(2) and (3)", rtol=RTOL)


def test_cholesky_leaves_its_matrix_alone():
    unchanged(cholesky, A.copy())


# ldl


def test_ldl_has_pivots_of_both_signs():
    a = np.array([[2.5, -1.0, 1.75], [-1.0, -1.2, -2.78], [1.75, -2.78, -0.579]])
    lower, pivots = ldl(a)
    call = "ldl([[2.5, -1, 1.75], [-1, -1.2, -2.78], [1.75, -2.78, -0.579]])"
    assert_close(pivots, [2.5, -1.6, 0.9], f"the pivots of {call}", "equation (6)", rtol=1e-12)
    expected = [[1.0, 0.0, 0.0], [-0.4, 1.0, 0.0], [0.7, 1.3, 1.0]]
    assert_close(lower, expected, f"the triangle of {call}", "equation (6)", rtol=1e-12)


def indefinite(n, seed=5):
    """A symmetric matrix whose leading minors all stay away from 0."""
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.uniform(-1, 1, (n, n)), -1) + np.eye(n)
    a = (lower * rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 4, n)) @ lower.T
    return (a + a.T) / 2


SYMMETRIC = {
    "one negative entry": np.array([[-6.25]]),
    "pivots of both signs, n = 9": indefinite(9),
    "pivots of both signs, n = 30": indefinite(30),
    "1e150 times that": 1e150 * indefinite(9),
    "1e-150 times that": 1e-150 * indefinite(9),
    "float32": indefinite(9).astype(np.float32),
    "a positive definite matrix": positive_definite(40),
    "Hilbert's matrix of order 10": hilbert(10, 10),
    "a negative definite matrix": -positive_definite(12),
    "small pivots, which make large entries": np.array([[1e-6, 2.0, 3.0], [2.0, 1.0, -4.0], [3.0, -4.0, 5.0]]),
}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_ldl_multiplies_to_the_matrix(name):
    a = SYMMETRIC[name]
    lower, pivots = ldl(a)
    assert (np.diagonal(lower) == 1).all(), f"ldl of {name} returned a triangle without ones on its diagonal"
    assert_lower(lower, f"ldl of {name}")
    for part in (lower, pivots):
        assert part.dtype == a.dtype, f"ldl of {name} returned {part.dtype}, expected {a.dtype}"
    exact, d = lower.astype(float), pivots.astype(float)
    size = (np.abs(exact) * np.abs(d)) @ np.abs(exact.T)
    assert_small(a - (exact * d) @ exact.T, size, len(a), a.dtype, f"ldl of {name}: by (5) its product is A")


def test_ldl_has_as_many_negative_pivots_as_there_are_negative_eigenvalues():
    for seed in range(5):
        a = indefinite(9, seed=seed)
        expected = np.count_nonzero(np.linalg.eigvalsh(a) < 0)
        found = np.count_nonzero(ldl(a)[1] < 0)
        assert_close(found, expected, "the number of negative pivots of ldl(a)", "Sylvester's law, after (6)")


@pytest.mark.parametrize(
    ("a", "lower", "pivots"),
    [
        ([[0.0]], [[1.0]], [0.0]),
        ([[4.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.5, 1.0]], [4.0, 0.0]),
        (
            [[4.0, 2.0, 1.5], [2.0, 1.0, 0.75], [1.5, 0.75, -2.0]],
            [[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.375, 0.0, 1.0]],
            [4.0, 0.0, -2.5625],
        ),
        (
            [[0.0, 0.0, 0.0], [0.0, 2.0, -1.5], [0.0, -1.5, 5.0]],
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -0.75, 1.0]],
            [0.0, 2.0, 3.875],
        ),
    ],
    ids=["1 by 1", "last", "middle", "first"],
)
def test_ldl_puts_zeros_where_a_pivot_of_zero_has_nothing_to_divide(a, lower, pivots):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ldl(np.array(a))
    assert_close(found, (np.array(lower), np.array(pivots)), f"ldl({a})", "the note after equation (6)", rtol=RTOL)


@pytest.mark.parametrize(
    ("a", "order"),
    [
        ([[0.0, 1.0], [1.0, 0.0]], 1),
        ([[4.0, 2.0, 1.0], [2.0, 1.0, 3.0], [1.0, 3.0, 5.0]], 2),
        ([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 3.0]], 1),
    ],
)
def test_ldl_names_the_leading_minor_of_zero_where_there_are_no_factors(a, order):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(np.linalg.LinAlgError, match=rf"order {order}\b"):
            ldl(np.array(a))


def test_ldl_leaves_its_matrix_alone():
    unchanged(ldl, indefinite(4))


# solve


def test_solve_goes_through_both_triangles():
    expected = np.array([1.5, -0.8, 2.25])
    b = np.array([6.356, -0.16625, 4.846125])  # A times that
    call = "solve([[1.6, 0, 0], [-0.7, 2.1, 0], [0.45, 1.3, 0.8]], [6.356, -0.16625, 4.846125])"
    assert_close(solve(LOWER, b), expected, call, "equation (7)", rtol=1e-12)


def test_solve_takes_each_column_for_a_system_of_its_own():
    expected = np.array([[1.5, 0.3, -0.9, 2.0], [-0.8, 1.1, 0.6, -3.7], [2.25, -0.4, 0.0, 0.7]])
    found = solve(LOWER, A @ expected)
    assert_close(found, expected, "solve(lower, b) with four columns in b", "equation (7)", rtol=1e-11, atol=1e-13)


def test_solve_does_not_read_above_the_diagonal():
    found = solve(LOWER + np.triu(np.full((3, 3), 7.7), 1), A @ np.array([1.5, -0.8, 2.25]))
    assert_close(found, [1.5, -0.8, 2.25], "solve with 7.7 above the diagonal", "equation (7)", rtol=1e-12)


@pytest.mark.parametrize("name", DEFINITE)
def test_solve_leaves_a_residual_of_rounding_only(name):
    a = DEFINITE[name]
    n = len(a)
    # The factor is NumPy's, in double precision, and rounded to that of the matrix.
    lower = np.linalg.cholesky(a.astype(float)).astype(a.dtype)
    b = np.random.default_rng(6).normal(size=(n, 4)).astype(a.dtype)
    x = solve(lower, b)
    assert x.dtype == a.dtype, f"solve for {name} returned {x.dtype}, expected {a.dtype}"
    exact, size = lower.astype(float), np.abs(lower).astype(float)
    error = exact @ (exact.T @ x.astype(float)) - b
    assert_small(error, size @ (size.T @ np.abs(x)), 2 * n, a.dtype, f"solve for {name}: by (7) L (L' x) is b")


def test_solve_leaves_its_arguments_alone():
    unchanged(solve, LOWER.copy(), np.ones(3))


# log_determinant


def test_log_determinant_is_twice_the_sum_of_the_logarithms():
    expected = 2 * np.log(1.6 * 2.1 * 0.8)
    call = "log_determinant of a factor with the diagonal 1.6, 2.1, 0.8"
    assert_close(log_determinant(LOWER), expected, call, "equation (8)", rtol=RTOL)


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_log_determinant_agrees_with_numpy(n):
    a = positive_definite(n, seed=n)
    found = log_determinant(np.linalg.cholesky(a))
    expected = np.linalg.slogdet(a)[1]
    assert_close(found, expected, f"log_determinant(lower), n = {n}", "NumPy's slogdet of A", rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_log_determinant_is_finite_where_the_determinant_leaves_the_range_of_floats(scale):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = log_determinant(scale * LOWER)
    expected = 2 * np.log(1.6 * 2.1 * 0.8) + 6 * np.log(scale)
    assert_close(found, expected, f"log_determinant({scale:g} * lower)", "equation (8)", rtol=RTOL)


def test_log_determinant_works_on_float32():
    found = log_determinant(LOWER.astype(np.float32))
    expected = 2 * np.log(1.6 * 2.1 * 0.8)
    call = "log_determinant of a float32 factor"
    assert_close(found, expected, call, "equation (8)", rtol=1e-5, tolerance="a float32 has 7 digits")


def test_log_determinant_leaves_its_factor_alone():
    unchanged(log_determinant, LOWER.copy())


# update


def assert_factor_of(found, a, scale, n, call, equation):
    """Fail unless `found` is the factor of `a`, up to the rounding of rotations of rows of squared lengths `scale`."""
    assert_lower(found, call)
    exact = found.astype(float)
    size = np.sqrt(np.outer(scale, scale))
    assert_small(exact @ exact.T - a, size, n, found.dtype, f"{call}: by {equation} its product is what it should be")


def test_update_rotates_the_vector_into_the_factor():
    # A triangle of 3, 4, 5 in column 1 and one of 5, 12, 13 in column 2.
    lower = np.array([[1.6, 0.0, 0.0], [-0.7, 2.4, 0.0], [0.45, 1.3, 0.8]])
    found = update(lower, np.array([1.2, 0.725, -1.9]))
    # c = 0.8, s = 0.6: the column becomes 2, -0.125, -0.78, and x 0, 1, -1.79. Then c = 12/13, s = 5/13.
    column = np.array([2.0, -0.125, -0.78])
    second = (12 * 1.3 - 5 * 1.79) / 13
    rest = (-12 * 1.79 - 5 * 1.3) / 13
    expected = np.column_stack([column, [0, 2.6, second], [0, 0, np.hypot(0.8, rest)]])
    call = "update([[1.6, 0, 0], [-0.7, 2.4, 0], [0.45, 1.3, 0.8]], [1.2, 0.725, -1.9])"
    assert_close(found, expected, call, "equations (10) and (11)", rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 9, 50])
@pytest.mark.parametrize("length", [0.01, 1.0, 1000.0])
def test_update_is_the_factor_of_the_matrix_with_one_observation_more(n, length):
    lower = np.linalg.cholesky(positive_definite(n, seed=n))
    x = length * np.random.default_rng(n).normal(size=n)
    a = lower @ lower.T + np.outer(x, x)
    call = f"update(lower, x), n = {n}, x of size {length:g},"
    found = update(lower, x)
    assert_factor_of(found, a, np.diag(a), n, call, "(9)")
    assert_close(found, np.linalg.cholesky(a), call, "NumPy's factor of A + xx'", rtol=1e-6, atol=1e-7 * length)


@pytest.mark.parametrize("x", [np.zeros(3), np.array([0.0, 0.0, 1.5]), np.array([-2.5, 0.0, 0.0])], ids=str)
def test_update_copes_with_zeros_in_the_vector(x):
    expected = np.linalg.cholesky(A + np.outer(x, x))
    assert_close(update(LOWER, x), expected, f"update(lower, {x})", "equation (9)", rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_update_is_right_where_squares_leave_the_range_of_floats(scale):
    x = np.array([1.2, -0.7, 2.3])
    expected = scale * np.linalg.cholesky(A + np.outer(x, x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = update(scale * LOWER, scale * x)
    call = f"update({scale:g} * lower, {scale:g} * x)"
    assert_close(found, expected, call, "equation (11), scaled", rtol=1e-12)


def test_update_keeps_float32_where_both_arguments_have_it():
    x = np.array([1.2, -0.7, 2.3])
    found = update(LOWER.astype(np.float32), x.astype(np.float32))
    assert found.dtype == np.float32, f"update of float32 arrays returned {found.dtype}, expected float32"
    a = A + np.outer(x, x)
    assert_factor_of(found, a, np.diag(a), 3, "update of float32 arrays", "(9)")


def test_update_leaves_its_arguments_alone():
    unchanged(update, LOWER.copy(), np.array([1.2, -0.7, 2.3]))


# downdate


def test_downdate_turns_the_rotations_back():
    lower = np.array([[2.0, 0.0, 0.0], [-0.125, 2.6, 0.0], [-0.78, 0.9, 3.1]])
    found = downdate(lower, np.array([1.2, 0.725, -1.9]))
    # c = 0.8, s = 0.6: the column becomes 1.6, -0.7, 0.45, and x 0, 1, -1.79. Then c = 12/13, s = 5/13.
    second = (13 * 0.9 + 5 * 1.79) / 12
    rest = (-12 * 1.79 - 5 * second) / 13
    expected = np.column_stack([[1.6, -0.7, 0.45], [0, 2.4, second], [0, 0, np.sqrt(3.1**2 - rest**2)]])
    call = "downdate([[2, 0, 0], [-0.125, 2.6, 0], [-0.78, 0.9, 3.1]], [1.2, 0.725, -1.9])"
    assert_close(found, expected, call, "equations (12) and (13)", rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 9, 50])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_downdate_is_the_factor_of_the_matrix_with_one_observation_less(n, share):
    lower = np.linalg.cholesky(positive_definite(n, seed=n))
    z = np.random.default_rng(n).normal(size=n)
    # x' A^-1 x is the squared length of L^-1 x, and A - xx' is positive definite as long as that is below 1.
    x = lower @ z * (share / np.linalg.norm(z))
    a = lower @ lower.T - np.outer(x, x)
    call = f"downdate(lower, x), n = {n}, with x' A^-1 x = {share**2:.4f},"
    found = downdate(lower, x)
    assert_factor_of(found, a, np.diag(lower @ lower.T), n, call, "(9), with a minus,")
    assert_close(found, np.linalg.cholesky(a), call, "NumPy's factor of A - xx'", rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("x", [np.zeros(3), np.array([0.0, 0.0, 0.7]), np.array([-0.5, 0.0, 0.0])], ids=str)
def test_downdate_copes_with_zeros_in_the_vector(x):
    expected = np.linalg.cholesky(A - np.outer(x, x))
    assert_close(downdate(LOWER, x), expected, f"downdate(lower, {x})", "equation (13)", rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("x", "order"),
    [
        ([1.6, 0.0, 0.0], 1),  # exactly singular
        ([-1.7, 0.0, 0.0], 1),
        ([0.0, 2.1, 0.0], 2),
        ([0.0, -3.0, 5.0], 2),
        ([0.0, 0.0, -0.9], 3),
        ([0.8, -0.35, 1.3], 3),
    ],
)
def test_downdate_names_the_first_leading_minor_that_is_not_positive(x, order):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(np.linalg.LinAlgError, match=rf"order {order}\b"):
            downdate(LOWER, np.array(x))


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_downdate_is_right_where_squares_leave_the_range_of_floats(scale):
    x = np.array([0.9, -0.4, 0.5])
    expected = scale * np.linalg.cholesky(A - np.outer(x, x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = downdate(scale * LOWER, scale * x)
    call = f"downdate({scale:g} * lower, {scale:g} * x)"
    assert_close(found, expected, call, "equation (12), scaled", rtol=1e-11)


def test_downdate_keeps_float32_where_both_arguments_have_it():
    x = np.array([0.9, -0.4, 0.5])
    found = downdate(LOWER.astype(np.float32), x.astype(np.float32))
    assert found.dtype == np.float32, f"downdate of float32 arrays returned {found.dtype}, expected float32"
    assert_factor_of(found, A - np.outer(x, x), np.diag(A), 3, "downdate of float32 arrays", "(9), with a minus,")


def test_downdate_leaves_its_arguments_alone():
    unchanged(downdate, LOWER.copy(), np.array([0.9, -0.4, 0.5]))


# sample_gaussian

MEAN = np.array([4.5, -2.25, 13.0])
SD = np.sqrt(np.diag(A))
N = 20_000


def test_sample_gaussian_stays_at_the_mean_if_there_is_hardly_any_variance(rng):
    x = sample_gaussian(MEAN, 1e-20 * A, 5, rng=rng)
    # A deviation of more than 1e-7 would be one of 40 million standard deviations.
    expected = np.tile(MEAN, (5, 1))
    assert_close(x, expected, "sample_gaussian(mean, 1e-20 * a, 5)", "equation (14)", rtol=0, atol=1e-7)


def test_sample_gaussian_draws_twice_as_far_for_four_times_the_covariance():
    deviations = [
        sample_gaussian(np.zeros(3), scale * A, 200, rng=np.random.default_rng(3)).std() for scale in (1.0, 4.0)
    ]
    call = "the ratio of what sample_gaussian draws from one seed with 4 a and with a"
    assert_close(deviations[1] / deviations[0], 2.0, call, "equation (14): the factor of 4 a is 2 L", rtol=1e-9)


def test_sample_gaussian_uses_other_numbers_for_every_coordinate(rng):
    x = sample_gaussian(MEAN, A, 10, rng=rng)
    rank = np.linalg.matrix_rank(x - MEAN)
    assert rank == 3, f"10 draws of sample_gaussian lie in a space of dimension {rank} around the mean; by (14) it is 3"


@pytest.mark.parametrize("i", [0, 1, 2])
def test_sample_gaussian_has_the_variances_of_its_covariance(i, rng):
    x = sample_gaussian(MEAN, A, N, rng=rng)
    assert_variance(x[:, i], A[i, i], f"column {i} of sample_gaussian(mean, a, 20000)", f"a[{i}, {i}]")


def test_sample_gaussian_has_the_mean(rng):
    x = sample_gaussian(MEAN, A, N, rng=rng)
    assert_mean(x, MEAN, "sample_gaussian(mean, a, 20000)", "equation (14)", sd=SD)


@pytest.mark.parametrize(("i", "j"), [(0, 1), (0, 2), (1, 2)])
def test_sample_gaussian_has_the_covariances(i, j, rng):
    x = sample_gaussian(MEAN, A, N, rng=rng)
    # Sums of Gaussians are Gaussian: their variance tells the covariance, with an exact law.
    call = f"x[:, {i}] + x[:, {j}] of x = sample_gaussian(mean, a, 20000)"
    expected = A[i, i] + A[j, j] + 2 * A[i, j]
    assert_variance(x[:, i] + x[:, j], expected, call, f"a[{i}, {i}] + a[{j}, {j}] + 2 a[{i}, {j}]")


def test_sample_gaussian_is_gaussian_in_every_direction(rng):
    x = sample_gaussian(MEAN, A, N, rng=rng)
    for direction in (np.array([1.0, 0, 0]), np.array([0.3, -1.2, 0.7])):
        middle, sd = MEAN @ direction, np.sqrt(direction @ A @ direction)
        call = f"sample_gaussian(mean, a, 20000) @ {direction}, standardised,"
        assert_distribution(
            (x @ direction - middle) / sd, ndtr, call, "equation (14): linear in a Gaussian is Gaussian"
        )


def test_sample_gaussian_draws_independent_rows(rng):
    x = sample_gaussian(MEAN, A, 2 * N, rng=rng)
    for step in (1, N):  # one row and the next; one row and that of the second half
        first, second = (x[::2], x[1::2]) if step == 1 else (x[:N], x[N:])
        difference = first - second
        call = f"the difference of rows that are {step} apart in sample_gaussian(mean, a, 40000)"
        assert_variance(difference, 2 * np.diag(A), call, "twice the diagonal of a: rows are independent")


def test_sample_gaussian_is_right_in_50_dimensions(rng):
    a, mean = positive_definite(50), np.linspace(-40, 60, 50)
    x = sample_gaussian(mean, a, 4000, rng=rng)
    assert x.shape == (4000, 50), f"sample_gaussian(mean, a, 4000) returned shape {x.shape}, expected (4000, 50)"
    z = np.linalg.solve(np.linalg.cholesky(a), (x - mean).T)
    because = "equation (14) backwards: L^-1 (x - mean) is standard normal"
    assert_mean(z.T, 0, "L^-1 (x - mean), x of 50 columns,", because, sd=1)
    assert_variance(z.T, 1, "L^-1 (x - mean), x of 50 columns,", because)
    assert_variance((z[:-1] + z[1:]).T, 2, "sums of neighbours in L^-1 (x - mean)", because)


@pytest.mark.parametrize("n_samples", [1, 2, 7])
def test_sample_gaussian_returns_one_sample_a_row(n_samples, rng):
    shape = sample_gaussian(MEAN, A, n_samples, rng=rng).shape
    assert shape == (n_samples, 3), f"sample_gaussian(mean, a, {n_samples}) returned shape {shape}"


def test_sample_gaussian_takes_all_its_randomness_from_its_generator():
    def run(seed):
        return sample_gaussian(MEAN, A, 5, rng=np.random.default_rng(seed))

    assert_close(
        run(1), run(1), "sample_gaussian with the same seed for the second time", "the draws of the first time"
    )
    assert (run(1) != run(2)).any(), "sample_gaussian returned the same draws for two different seeds"
    generator = np.random.default_rng(1)
    draws = [sample_gaussian(MEAN, A, 5, rng=generator) for _ in range(2)]
    assert (draws[0] != draws[1]).any(), "sample_gaussian returned the same draws twice from one generator"


def test_sample_gaussian_refuses_a_covariance_that_is_not_positive_definite(rng):
    with pytest.raises(np.linalg.LinAlgError):
        sample_gaussian(np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]]), 3, rng=rng)


def test_sample_gaussian_leaves_its_arguments_alone(rng):
    unchanged(lambda mean, a: sample_gaussian(mean, a, 3, rng=rng), MEAN.copy(), A.copy())


# gaussian_log_density


def test_gaussian_log_density_by_hand():
    # x - mean = L (0.5, -1, 2), so that z'z = 5.25 in the first point; in the second, L (1.5, 0, 0) and 2.25.
    x = MEAN + np.array([[0.5, -1.0, 2.0], [1.5, 0.0, 0.0]]) @ LOWER.T
    constant = 3 * np.log(2 * np.pi) + 2 * np.log(1.6 * 2.1 * 0.8)
    expected = -0.5 * (np.array([5.25, 2.25]) + constant)
    call = "gaussian_log_density at two points with z = (0.5, -1, 2) and (1.5, 0, 0)"
    assert_close(gaussian_log_density(x, MEAN, A), expected, call, "equation (15)", rtol=1e-12)


@pytest.mark.parametrize(("n_samples", "dim"), [(1, 1), (5, 2), (2, 5), (7, 50)])
def test_gaussian_log_density_agrees_with_the_inverse_and_the_determinant(n_samples, dim):
    a, mean = positive_definite(dim, seed=dim), np.linspace(-3, 5, dim)
    x = mean + np.random.default_rng(dim).normal(0.2, 2, (n_samples, dim))
    found = gaussian_log_density(x, mean, a)
    quadratic = np.einsum("ni,ij,nj->n", x - mean, np.linalg.inv(a), x - mean)
    expected = -0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * a)[1])
    call = f"gaussian_log_density of {n_samples} points in {dim} dimensions"
    assert_close(found, expected, call, "equation (15), with NumPy's inverse and slogdet", rtol=1e-9)


def test_gaussian_log_density_falls_by_one_half_a_deviation_away_along_each_axis():
    sd = np.array([0.3, 2.5, 11.0])
    x = MEAN + np.array([[0.3, 0, 0], [0, -2.5, 0], [0, 0, 22.0]])
    expected = (-0.5 * ((x - MEAN) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))).sum(axis=1)
    call = "gaussian_log_density with the covariance diag(0.09, 6.25, 121)"
    assert_close(gaussian_log_density(x, MEAN, np.diag(sd**2)), expected, call, "the one-dimensional laws", rtol=1e-12)


@pytest.mark.parametrize("scale", [1e75, 1e-75])
def test_gaussian_log_density_is_finite_where_the_density_leaves_the_range_of_floats(scale):
    dim = 20
    a = positive_definite(dim)
    z = np.random.default_rng(2).normal(size=(4, dim))
    x = z @ np.linalg.cholesky(a).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = gaussian_log_density(scale * x, np.zeros(dim), scale**2 * a)
    expected = -0.5 * ((z**2).sum(axis=1) + dim * np.log(2 * np.pi) + np.linalg.slogdet(a)[1]) - dim * np.log(scale)
    call = f"gaussian_log_density({scale:g} * x, 0, {scale**2:g} * a) in 20 dimensions"
    assert_close(found, expected, call, "equation (15)", rtol=1e-9)


def test_gaussian_log_density_keeps_its_digits_for_a_nearly_singular_covariance():
    # By (15) with z at hand. The condition number is 1e10, so that z comes back to 6 digits at least.
    a = with_singular_values(np.geomspace(1, 1e-5, 6), 6, np.random.default_rng(4))
    a = a @ a.T
    z = np.random.default_rng(5).normal(size=(3, 6))
    lower = np.linalg.cholesky(a)
    expected = -0.5 * ((z**2).sum(axis=1) + 6 * np.log(2 * np.pi) + 2 * np.log(np.diag(lower)).sum())
    found = gaussian_log_density(z @ lower.T, np.zeros(6), a)
    assert_close(found, expected, "gaussian_log_density, condition number 1e10", "equation (15)", rtol=1e-4)


def test_gaussian_log_density_refuses_a_covariance_that_is_not_positive_definite():
    with pytest.raises(np.linalg.LinAlgError):
        gaussian_log_density(np.ones((1, 2)), np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_gaussian_log_density_leaves_its_arguments_alone():
    unchanged(gaussian_log_density, np.ones((2, 3)), MEAN.copy(), A.copy())


# What is given: the checks of the arguments


@pytest.mark.given
@pytest.mark.parametrize(
    "a",
    [
        np.ones((2, 3)),
        np.ones(2),
        np.zeros((0, 0)),
        np.array([[np.nan]]),
        np.array([[1.0, np.inf], [np.inf, 1]]),
        np.array([[2.0, 1.0], [0.5, 2.0]]),
        [["a"]],
    ],
)
def test_cholesky_and_ldl_refuse_what_is_no_symmetric_matrix_of_finite_numbers(a):
    for function in (cholesky, ldl):
        with pytest.raises(ValueError, match="a must"):
            function(a)


@pytest.mark.given
@pytest.mark.parametrize("lower", [np.ones((2, 3)), np.ones(2), np.diag([1.0, 0.0]), np.diag([1.0, -1.0]), [[np.nan]]])
def test_solve_log_determinant_update_and_downdate_refuse_what_is_no_factor(lower):
    for call in (
        lambda: solve(lower, np.ones(2)),
        lambda: log_determinant(lower),
        lambda: update(lower, np.ones(2)),
        lambda: downdate(lower, np.ones(2)),
    ):
        with pytest.raises(ValueError, match="lower must"):
            call()


@pytest.mark.given
@pytest.mark.parametrize("x", [np.ones(2), np.ones((3, 1)), np.array([1.0, np.nan, 0.0]), np.zeros(0)])
def test_update_and_downdate_refuse_a_vector_that_does_not_fit(x):
    for function in (update, downdate):
        with pytest.raises(ValueError, match="x must"):
            function(LOWER, x)


@pytest.mark.parametrize("b", [np.ones(2), np.ones((4, 2)), np.array([1.0, np.nan, 0.0])])
def test_solve_refuses_right_hand_sides_that_do_not_fit(b):
    with pytest.raises(ValueError, match="b must"):
        solve(LOWER, b)


@pytest.mark.given
def test_sample_gaussian_and_gaussian_log_density_refuse_what_is_no_gaussian(rng):
    def refuses(name, mean, covariance, n_samples=3, x=None):
        with pytest.raises(ValueError, match=f"{name} must"):
            sample_gaussian(mean, covariance, n_samples, rng=rng)
        with pytest.raises(ValueError, match=f"{name} must"):
            gaussian_log_density(np.ones((2, 3)), mean, covariance)

    for mean in (np.ones(2), np.ones((3, 1)), np.array([1.0, np.inf, 0.0])):
        refuses("mean", mean, A)
    for covariance in (np.ones((3, 2)), np.array([[2.0, 1.0], [0.5, 2.0]]), np.full((3, 3), np.nan), np.ones(3)):
        refuses("covariance", MEAN, covariance)


@pytest.mark.given
@pytest.mark.parametrize("n_samples", [0, -1])
def test_sample_gaussian_refuses_to_draw_nothing(n_samples, rng):
    with pytest.raises(ValueError, match="n_samples must"):
        sample_gaussian(MEAN, A, n_samples, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize("x", [np.ones(3), np.ones((2, 2)), np.ones((0, 3)), np.full((1, 3), np.nan)])
def test_gaussian_log_density_refuses_points_that_do_not_fit(x):
    with pytest.raises(ValueError, match="x must"):
        gaussian_log_density(x, MEAN, A)
