"""Shared tests of linalg/least_squares: run on the reference, and on the learner's file.

A backward stable solver returns the exact solution for data changed by a modest multiple of n_rows * eps; 0.3 is enough for
all matrices here, and `STABLE` is a hundred times that. How much that may move the solution says equation (14), which the tests
compute by themselves. The true solutions come from rational arithmetic, which makes no errors: a float is a fraction.
"""

import warnings
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import scipy.linalg
from sklearn.datasets import load_diabetes

from mlpath.linalg._shared import hilbert, lauchli, with_singular_values
from mlpath.linalg.least_squares import (
    condition_number,
    numerical_rank,
    perturbation_bound,
    pseudo_inverse,
    solve_normal_equations,
    solve_qr,
    solve_svd,
    solve_triangular,
)
from mlpath.testing import assert_close

EPS = float(np.finfo(float).eps)
STABLE = 30
SOLVERS = {"solve_normal_equations": solve_normal_equations, "solve_qr": solve_qr}
EVERY_SOLVER = pytest.mark.parametrize("name", SOLVERS)

# Longley's data of 1967 as in NIST's Statistical Reference Datasets, https://doi.org/10.18434/T43G6C: employment in thousands
# in the USA, to be explained by a price deflator, the gross national product, unemployment, armed forces, population, year.
LONGLEY = np.array(
    [
        [60323, 83.0, 234289, 2356, 1590, 107608, 1947],
        [61122, 88.5, 259426, 2325, 1456, 108632, 1948],
        [60171, 88.2, 258054, 3682, 1616, 109773, 1949],
        [61187, 89.5, 284599, 3351, 1650, 110929, 1950],
        [63221, 96.2, 328975, 2099, 3099, 112075, 1951],
        [63639, 98.1, 346999, 1932, 3594, 113270, 1952],
        [64989, 99.0, 365385, 1870, 3547, 115094, 1953],
        [63761, 100.0, 363112, 3578, 3350, 116219, 1954],
        [66019, 101.2, 397469, 2904, 3048, 117388, 1955],
        [67857, 104.6, 419180, 2822, 2857, 118734, 1956],
        [68169, 108.4, 442769, 2936, 2798, 120445, 1957],
        [66513, 110.8, 444546, 4681, 2637, 121950, 1958],
        [68655, 112.6, 482704, 3813, 2552, 123366, 1959],
        [69564, 114.2, 502601, 3931, 2514, 125368, 1960],
        [69331, 115.7, 518173, 4806, 2572, 127852, 1961],
        [70551, 116.9, 554894, 4007, 2827, 130081, 1962],
    ]
)
LONGLEY_A = np.hstack([np.ones((16, 1)), LONGLEY[:, 1:]])
LONGLEY_B = LONGLEY[:, 0]
CERTIFIED = np.array(
    [
        -3482258.63459582,
        15.0618722713733,
        -0.0358191792925910,
        -2.02022980381683,
        -1.03322686717359,
        -0.0511041056535807,
        1829.15146461355,
    ]
)


@pytest.fixture(autouse=True)
def no_warnings():
    """Overflow and 0 / 0 are told by the numbers: the warning beside them would hide the message."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def random_matrix(n_rows, n_cols, seed=3):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(seed).normal(0.7, 2.0, (n_rows, n_cols))


def random_vector(n, seed=4):
    return np.random.default_rng(seed).normal(-1.0, 3.0, n)


def unchanged(function, *arrays, **others):
    """Call the function, and fail if it wrote to an array."""
    before = [array.copy() for array in arrays]
    function(*arrays, **others)
    for array, old in zip(arrays, before):
        assert np.array_equal(array, old), f"{function.__name__} changed an array that it was given"


def exact_solution(a, b):
    """The least-squares solution of full rank, by the normal equations in rational arithmetic."""
    rows = [[Fraction(entry) for entry in row] for row in np.column_stack([a, b]).tolist()]
    n = a.shape[1]
    gram = [[sum(row[i] * row[j] for row in rows) for j in range(n + 1)] for i in range(n)]
    for i in range(n):
        for k in range(n):
            if k != i and gram[k][i]:
                factor = gram[k][i] / gram[i][i]
                gram[k] = [mine - factor * pivot for mine, pivot in zip(gram[k], gram[i])]
    return np.array([float(gram[i][n] / gram[i][i]) for i in range(n)])


def relative_error(x, truth):
    return np.linalg.norm(x - truth) / np.linalg.norm(truth)


def wedin(a, b, x, epsilon):
    """The right side of equation (14), for the true solution x."""
    s = np.linalg.svd(a, compute_uv=False)
    kappa, gamma = s[0] / s[-1], np.linalg.norm(b - a @ x) / (s[0] * np.linalg.norm(x))
    return kappa * epsilon / (1 - kappa * epsilon) * (2 + (kappa + 1) * gamma)


def fit_well(a):
    """A right-hand side that the columns explain but for rounding."""
    return a @ np.arange(1.0, a.shape[1] + 1)


def fit_badly(a):
    """A right-hand side of which a good part is orthogonal to the columns."""
    explained = fit_well(a)
    noise = random_vector(len(a), 11)
    q = np.linalg.qr(a)[0]
    noise -= q @ (q.T @ noise)
    return explained + noise * np.linalg.norm(explained) / np.linalg.norm(noise)


SENSITIVE = {
    "the 9 x 6 Hilbert matrix": hilbert(9, 6),
    "the 12 x 7 Hilbert matrix": hilbert(12, 7),
    "Läuchli's 6 x 5 matrix with epsilon = 1e-5": lauchli(5, 1e-5),
    "powers of 14 points from 1 to 2": np.linspace(1, 2, 14)[:, None] ** np.arange(6),
    "a 20 x 6 matrix of condition 1e6": with_singular_values(np.geomspace(1, 1e-6, 6), 20, np.random.default_rng(6)),
    "a random 20 x 6 matrix": random_matrix(20, 6),
    "columns from 1e-3 to 1e3": random_matrix(20, 6) * np.logspace(-3, 3, 6),
}
# Here the normal equations are lost: the condition is beyond 1e8.
HOPELESS = {
    "Läuchli's 5 x 4 matrix with epsilon = 1e-9": lauchli(4, 1e-9),
    "Läuchli's 5 x 4 matrix with epsilon = 1e-12": lauchli(4, 1e-12),
    "two columns that differ by 1e-10": np.column_stack(
        [random_vector(9), random_vector(9) + 1e-10 * random_vector(9, 5), random_vector(9, 6)]
    ),
}
FULL_RANK = {**SENSITIVE, **HOPELESS, "the 14 x 9 Hilbert matrix": hilbert(14, 9)}
DEPENDENT = {
    "a column twice": np.column_stack([random_vector(9), random_vector(9, 5), random_vector(9)]),
    "the sum of two columns as the third": np.column_stack(
        [random_vector(9), random_vector(9, 5), random_vector(9) + random_vector(9, 5)]
    ),
    "1e-6 times a column beside it": np.column_stack([random_vector(9), 1e-6 * random_vector(9)]),
    "positive columns, 0.7 times one another": np.outer(np.abs(random_vector(9)) + 0.1, [1.0, 0.7]),
    "negative columns, 0.7 times one another": np.outer(np.abs(random_vector(9)) + 0.1, [-1.0, -0.7]),
    "a column of zeros": random_matrix(8, 3) * [1, 0, 1],
    "a matrix of rank 2": random_matrix(30, 2) @ random_matrix(2, 5),
    "a matrix of zeros": np.zeros((4, 2)),
}


@cache
def solved(matrix, fit):
    """A matrix of full rank, a right-hand side, and the true solution."""
    a = FULL_RANK[matrix]
    b = fit(a)
    return a, b, exact_solution(a, b)


def assert_stable(solve, matrix, fit):
    a, b, truth = solved(matrix, fit)
    error, allowed = relative_error(solve(a, b), truth), wedin(a, b, truth, STABLE * len(a) * EPS)
    assert error <= allowed, (
        f"the solution of {matrix}, {fit.__name__}, is off by {error:.2g} of its length; "
        f"allowed to a backward stable solver by (14): {allowed:.2g}"
    )


# solve_triangular


UPPER = np.array([[2.0, -1.5, 0.5], [0.0, 4.0, 1.2], [0.0, 0.0, -2.5]])


def test_solve_triangular_begins_with_the_last_row_of_an_upper_triangle():
    call = "solve_triangular([[2, -1.5, 0.5], [0, 4, 1.2], [0, 0, -2.5]], [3, 7, -6])"
    # By hand: 2.4, then (7 - 1.2 * 2.4) / 4, then (3 + 1.5 * 1.03 - 0.5 * 2.4) / 2.
    expected = [1.6725, 1.03, 2.4]
    assert_close(solve_triangular(UPPER, np.array([3.0, 7.0, -6.0])), expected, call, "equation (4)", rtol=1e-12)


def test_solve_triangular_begins_with_the_first_row_of_a_lower_triangle():
    call = "solve_triangular([[2, 0, 0], [-1.5, 4, 0], [0.5, 1.2, -2.5]], [3, 7, -6], lower=True)"
    # By hand: 1.5, then (7 + 1.5 * 1.5) / 4, then (-6 - 0.5 * 1.5 - 1.2 * 2.3125) / -2.5.
    expected = [1.5, 2.3125, 3.81]
    solution = solve_triangular(UPPER.T, np.array([3.0, 7.0, -6.0]), lower=True)
    assert_close(solution, expected, call, "equation (4)", rtol=1e-12)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("shape", [(15,), (15, 1), (15, 4), (15, 40)])
def test_solve_triangular_solves_for_one_vector_or_many_columns_and_ignores_the_other_side(shape, lower):
    t = random_matrix(15, 15) + 30 * np.eye(15)
    b = np.random.default_rng(5).normal(size=shape)
    expected = scipy.linalg.solve_triangular(t, b, lower=lower)
    call = f"solve_triangular(t, b, lower={lower}) with b of shape {shape}, and numbers on the other side of t"
    assert_close(solve_triangular(t, b, lower=lower), expected, call, "equation (4), by SciPy", rtol=0, atol=1e-13)


@pytest.mark.parametrize("lower", [False, True])
def test_solve_triangular_leaves_a_small_residual_even_where_the_triangle_is_nearly_singular(lower):
    t = np.triu(random_matrix(12, 12), 1) + np.diag(np.logspace(0, -12, 12))
    t, b = t.T if lower else t, random_vector(12)
    x = solve_triangular(t, b, lower=lower)
    # Substitution is backward stable row by row: the residual is n eps |T| |x|.
    residual, allowed = np.abs(t @ x - b), 100 * 12 * EPS * np.abs(t) @ np.abs(x)
    worst = (residual / allowed).max()
    assert worst <= 1, f"solve_triangular(t, b, lower={lower}): |T x - b| is {worst:.2g} times what rounding allows"


def test_solve_triangular_of_one_equation():
    assert_close(solve_triangular(np.array([[-4.0]]), np.array([6.0])), [-1.5], "solve_triangular([[-4]], [6])", "(4)")


def test_solve_triangular_keeps_float32_and_leaves_its_arrays_alone():
    t, b = UPPER.astype(np.float32), np.ones((3, 2), np.float32)
    for lower in (False, True):
        dtype = solve_triangular(t, b, lower=lower).dtype
        assert dtype == np.float32, f"solve_triangular of float32 arrays returned {dtype}"
    dtype = solve_triangular(t, b.astype(float)).dtype
    assert dtype == np.float64, f"solve_triangular of a float32 triangle and a float64 b returned {dtype}"
    dtype = solve_triangular(UPPER, np.array([1, 2, 3])).dtype
    assert dtype == np.float64, f"solve_triangular with whole numbers as b returned {dtype}"
    unchanged(solve_triangular, UPPER, np.ones(3))
    unchanged(solve_triangular, UPPER.T.copy(), np.ones((3, 2)), lower=True)


# solve_normal_equations, and what holds of solve_qr too


SMALL = np.array([[1.0, 0.5], [1.0, 2.0], [1.0, 3.5], [1.0, 6.0]])
SMALL_B = np.array([2.0, 1.0, 4.0, 7.5])
# By hand: A'A = [[4, 12], [12, 52.5]], A'b = (14.5, 62), determinant 66.
SMALL_X = np.array([17.25 / 66, 74 / 66])


def check_small(name):
    call = f"{name}([[1, 0.5], [1, 2], [1, 3.5], [1, 6]], [2, 1, 4, 7.5])"
    assert_close(SOLVERS[name](SMALL, SMALL_B), SMALL_X, call, "equation (2), by hand", rtol=1e-12)


def check_many_right_hand_sides(name):
    a = random_matrix(25, 7)
    for shape in ((25,), (25, 1), (25, 6)):
        b = np.random.default_rng(5).normal(2, 1, size=shape)
        expected = np.linalg.lstsq(a, b, rcond=None)[0]
        call = f"{name}(a, b) with a of shape (25, 7), b of shape {shape}"
        assert_close(SOLVERS[name](a, b), expected, call, "(1), by NumPy's lstsq", rtol=0, atol=1e-11)


def check_square_and_single_column(name):
    for a in (random_matrix(6, 6), random_matrix(9, 1), np.array([[-2.5]])):
        b = random_vector(len(a))
        expected = np.linalg.lstsq(a, b, rcond=None)[0]
        assert_close(SOLVERS[name](a, b), expected, f"{name}(a, b), a of shape {a.shape}", "(1), by NumPy", rtol=1e-9)


def check_scales(name):
    for scale in (1e-140, 1e140):
        call = f"{scale:g} times {name}({scale:g} * a, b)"
        assert_close(scale * SOLVERS[name](scale * SMALL, SMALL_B), SMALL_X, call, "equation (2)", rtol=1e-10)


def check_columns_of_different_size(name):
    a, sizes = random_matrix(20, 6), np.logspace(-40, 40, 6)
    x = SOLVERS[name](a * sizes, fit_well(a))
    call = f"{name}(a, b) with columns from 1e-40 to 1e40, times these sizes,"
    assert_close(x * sizes, np.arange(1.0, 7), call, "equations (1) and (7)", rtol=1e-9)


def check_float32(name):
    x = SOLVERS[name](SMALL.astype(np.float32), SMALL_B.astype(np.float32))
    assert x.dtype == np.float32, f"{name} of float32 arrays returned {x.dtype}"
    call = f"{name}(a, b) in float32"
    assert_close(
        x, SMALL_X, call, "equation (2)", rtol=1e-4, tolerance="float32 has 7 digits, of which kappa^2 takes 2"
    )


def assert_refused(name, a, matrix, why):
    try:
        x = SOLVERS[name](a, a.sum(axis=1) + random_vector(len(a)))
    except np.linalg.LinAlgError:
        return
    pytest.fail(f"{name}(a, b) of {matrix} returned {x}; expected a LinAlgError: {why}, by (7)")


def test_solve_normal_equations_solves_a_small_system():
    check_small("solve_normal_equations")


def test_solve_normal_equations_takes_one_right_hand_side_or_many():
    check_many_right_hand_sides("solve_normal_equations")


def test_solve_normal_equations_takes_square_matrices_and_single_columns():
    check_square_and_single_column("solve_normal_equations")


@pytest.mark.parametrize("fit", [fit_well, fit_badly])
@pytest.mark.parametrize("matrix", SENSITIVE)
def test_solve_normal_equations_loses_no_more_than_equation_15_says(matrix, fit):
    a, b, truth = solved(matrix, fit)
    error = relative_error(solve_normal_equations(a, b), truth)
    s = np.linalg.svd(a, compute_uv=False)
    allowed = wedin(a, b, truth, STABLE * len(a) * EPS) + STABLE * len(a) * (s[0] / s[-1]) ** 2 * EPS
    call = f"solve_normal_equations(a, b) of {matrix}, {fit.__name__}"
    assert error <= allowed, f"{call} is off by {error:.2g} of its length; allowed by (14) and (15): {allowed:.2g}"


@pytest.mark.parametrize("matrix", DEPENDENT)
def test_solve_normal_equations_refuses_dependent_columns(matrix):
    assert_refused("solve_normal_equations", DEPENDENT[matrix], matrix, "the columns are dependent")


@pytest.mark.parametrize("matrix", HOPELESS)
def test_solve_normal_equations_refuses_columns_that_depend_as_far_as_their_squares_can_tell(matrix):
    assert_refused("solve_normal_equations", HOPELESS[matrix], matrix, "the squares of its angles are noise")


def test_solve_normal_equations_refuses_columns_whose_pivot_is_below_the_rule_though_cholesky_runs():
    # A'A = [[1 + d, 1], [1, 1 + d]] with d = 2^-48, exactly: the second pivot is 2 d = 32 eps. The rule allows 10 * 23 eps.
    a = np.vstack([lauchli(2, 2.0**-24), np.zeros((20, 2))])
    assert_refused("solve_normal_equations", a, "a 23 x 2 matrix with the pivots 1 and 32 eps", "230 eps are noise")
    # With d = 2^-40 the pivot is 8192 eps.
    a = np.vstack([lauchli(2, 2.0**-20), np.zeros((20, 2))])
    x = solve_normal_equations(a, a @ np.array([2.5, -1.25]))
    call = "solve_normal_equations(a, a @ [2.5, -1.25]) of a 23 x 2 matrix with the pivots 1 and 8192 eps"
    assert_close(x, [2.5, -1.25], call, "equation (2)", rtol=0.01, tolerance="1 / 8192 of rounding")


def test_solve_normal_equations_does_not_mind_columns_of_very_different_size():
    check_columns_of_different_size("solve_normal_equations")


def test_solve_normal_equations_keeps_seven_digits_of_longleys_certified_coefficients():
    # kappa^2 eps would leave nothing, but Cholesky does not mind the scale of the columns: without it kappa is 4e4.
    x = solve_normal_equations(LONGLEY_A, LONGLEY_B)
    call = "solve_normal_equations(a, b) of Longley's data"
    assert_close(x, CERTIFIED, call, "NIST", rtol=4e-6, tolerance="4e4 squared is 2e9, of 1e16")


def test_solve_normal_equations_works_on_huge_and_tiny_numbers():
    check_scales("solve_normal_equations")


def test_solve_normal_equations_keeps_float32_and_leaves_its_arrays_alone():
    check_float32("solve_normal_equations")
    unchanged(solve_normal_equations, random_matrix(9, 4), random_vector(9))


# solve_qr


def test_solve_qr_solves_a_small_system():
    check_small("solve_qr")


def test_solve_qr_takes_one_right_hand_side_or_many():
    check_many_right_hand_sides("solve_qr")


def test_solve_qr_takes_square_matrices_and_single_columns():
    check_square_and_single_column("solve_qr")


@pytest.mark.parametrize("fit", [fit_well, fit_badly])
@pytest.mark.parametrize("matrix", FULL_RANK)
def test_solve_qr_loses_no_more_than_equation_14_says(matrix, fit):
    assert_stable(solve_qr, matrix, fit)


@pytest.mark.parametrize("matrix", DEPENDENT)
def test_solve_qr_refuses_dependent_columns(matrix):
    assert_refused("solve_qr", DEPENDENT[matrix], matrix, "the columns are dependent")


def test_solve_qr_does_not_mind_columns_of_very_different_size():
    check_columns_of_different_size("solve_qr")


def test_solve_qr_finds_longleys_certified_coefficients():
    call = "solve_qr(a, b) of Longley's data"
    # Each column may be changed by some 1e-14 of its length; apart from their scale the condition is 4e4.
    assert_close(solve_qr(LONGLEY_A, LONGLEY_B), CERTIFIED, call, "NIST", rtol=1e-9)


def test_solve_qr_agrees_with_lstsq_on_the_diabetes_data():
    data = load_diabetes()
    a, b = np.hstack([np.ones((442, 1)), data.data]), data.target
    expected = np.linalg.lstsq(a, b, rcond=None)[0]
    # The condition is 227: both are off by less than 1e-11 of the largest coefficient, 792.
    assert_close(solve_qr(a, b), expected, "solve_qr of the diabetes data, with a constant", "NumPy", rtol=0, atol=1e-8)


def test_solve_qr_works_on_huge_and_tiny_numbers():
    check_scales("solve_qr")
    for scale in (1e-250, 1e250):
        x = scale * solve_qr(scale * SMALL, SMALL_B)
        assert_close(x, SMALL_X, f"{scale:g} times solve_qr({scale:g} * a, b)", "equation (5)", rtol=1e-10)


def test_solve_qr_keeps_float32_and_leaves_its_arrays_alone():
    check_float32("solve_qr")
    unchanged(solve_qr, random_matrix(9, 4), random_vector(9))


# numerical_rank


@pytest.mark.parametrize(
    ("values", "rcond", "expected"),
    [
        ([8.0, 2.0, 0.5, 1e-3], 1e-6, 4),
        ([8.0, 2.0, 0.5, 1e-3], 1e-3, 3),
        ([8.0, 2.0, 0.5, 1e-3], 0.1, 2),
        ([8.0, 2.0, 0.5, 1e-3], 0.25, 1),  # 2 is rcond times 8, and not above it
        ([80.0, 20.0, 0.0], 0.0, 2),
        ([0.02, 0.015], 0.5, 2),
        ([0.0, 0.0, 0.0], 1e-12, 0),
        ([0.0], 0.0, 0),
        ([1e-200, 1e-210, 1e-220], 1e-15, 2),
    ],
)
def test_numerical_rank_counts_what_is_above_rcond_times_the_largest(values, rcond, expected):
    call = f"numerical_rank({values}, rcond={rcond})"
    assert_close(numerical_rank(np.array(values), rcond), expected, call, "equation (8)")


# solve_svd


LOW_RANK = {
    "a 12 x 8 matrix of rank 3": random_matrix(12, 3) @ random_matrix(3, 8),
    "an 8 x 12 matrix of rank 3": random_matrix(8, 3) @ random_matrix(3, 12),
    "a matrix of ones": np.ones((5, 3)),
    "a column twice": DEPENDENT["a column twice"],
    "a column of zeros": DEPENDENT["a column of zeros"],
}
ANY_SHAPE = {
    "a random 20 x 6 matrix": random_matrix(20, 6),
    "a random 6 x 20 matrix": random_matrix(6, 20),
    "a random 7 x 7 matrix": random_matrix(7, 7),
    "one row": random_matrix(1, 7),
    "one column": random_matrix(9, 1),
    **LOW_RANK,
}


MANY_ROWS = np.column_stack([np.ones(300_000), np.arange(300_000) % 7.0])


def test_solve_svd_returns_solution_residual_rank_and_singular_values():
    # A = 15 u1 v1' + 10 u2 v2' + 0, with u = (0.6, 0.8), (-0.8, 0.6), v = (1, 0, 0), (0, 0.6, -0.8)
    a = 15 * np.outer([0.6, 0.8], [1, 0, 0]) + 10 * np.outer([-0.8, 0.6], [0, 0.6, -0.8])
    fit = solve_svd(a, np.array([1.5, 7.0]))
    call = "solve_svd(a, [1.5, 7]) for a with the singular values 15 and 10"
    # u'b = (6.5, 3): x = 6.5 / 15 v1 + 3 / 10 v2.
    assert_close(fit.x, [6.5 / 15, 0.18, -0.24], f"x of {call}", "equation (9)", rtol=1e-12)
    assert_close(fit.residual, [0.0, 0.0], f"residual of {call}", "b - A x", rtol=0, atol=1e-13)
    assert_close(fit.rank, 2, f"rank of {call}", "equation (8)")
    assert_close(fit.singular_values, [15.0, 10.0], f"singular_values of {call}", "A = U S V'", rtol=1e-12)


def test_solve_svd_of_more_equations_than_unknowns_leaves_the_residual_of_a_small_system():
    fit = solve_svd(SMALL, SMALL_B)
    call = "solve_svd([[1, 0.5], [1, 2], [1, 3.5], [1, 6]], [2, 1, 4, 7.5])"
    assert_close(fit.x, SMALL_X, f"x of {call}", "equation (9)", rtol=1e-12)
    assert_close(fit.residual, SMALL_B - SMALL @ SMALL_X, f"residual of {call}", "b - A x", rtol=1e-11)


@pytest.mark.parametrize("name", ANY_SHAPE)
@pytest.mark.parametrize("n_rhs", [None, 1, 5])
def test_solve_svd_agrees_with_lstsq_for_any_shape_and_rank(name, n_rhs):
    a = ANY_SHAPE[name]
    b = random_vector(len(a)) if n_rhs is None else np.random.default_rng(5).normal(2, 1, (len(a), n_rhs))
    fit = solve_svd(a, b)
    x, _, rank, singular_values = np.linalg.lstsq(a, b, rcond=None)
    call = f"solve_svd(a, b) of {name}, b of shape {b.shape}"
    assert_close(fit.rank, int(rank), f"rank of {call}", "equation (8), by NumPy's lstsq")
    assert_close(fit.x, x, f"x of {call}", "equation (9), by NumPy's lstsq", rtol=0, atol=1e-11)
    assert_close(fit.residual, b - a @ x, f"residual of {call}", "b - A x", rtol=0, atol=1e-10)
    assert_close(fit.singular_values, singular_values, f"singular_values of {call}", "NumPy", rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", LOW_RANK)
def test_solve_svd_finds_the_shortest_of_all_best_solutions(name):
    a, b = LOW_RANK[name], random_vector(len(LOW_RANK[name]))
    x = solve_svd(a, b).x
    call = f"solve_svd(a, b) of {name}"
    gradient = np.abs(a.T @ (b - a @ x)).max()
    assert gradient < 1e-9, f"{call}: A'(b - A x) is {gradient:.2g}; by (2) it is zero for the best x"
    along = np.abs(scipy.linalg.null_space(a).T @ x).max()
    assert along < 1e-10, (
        f"{call}: x has {along:.2g} along a direction that A sends to zero; by (9) the shortest has none"
    )


def test_solve_svd_leaves_out_what_rcond_calls_zero():
    a = with_singular_values([4.0, 1.0, 1e-3, 1e-9], 8, np.random.default_rng(7))
    b = random_vector(8)
    for rcond, rank in ((None, 4), (1e-12, 4), (1e-6, 3), (0.1, 2), (0.5, 1)):
        fit = solve_svd(a, b, rcond)
        call = f"solve_svd(a, b, rcond={rcond}) for the singular values 4, 1, 1e-3, 1e-9"
        assert_close(fit.rank, rank, f"rank of {call}", "equation (8)")
        expected = np.linalg.lstsq(a, b, rcond=max(a.shape) * EPS if rcond is None else rcond)[0]
        assert_close(fit.x, expected, f"x of {call}", "equation (9), by NumPy's lstsq", rtol=1e-6, atol=1e-9)
        assert len(fit.singular_values) == 4, (
            f"{call} returned {len(fit.singular_values)} singular values, expected all 4"
        )


def test_solve_svd_calls_zero_by_default_what_is_below_the_rounding_of_its_larger_side():
    # The default is eps times the larger side, 40: 2e-14 counts, 4e-15 does not.
    for small, rank in ((2e-14, 3), (4e-15, 2)):
        for shape in ((40, 3), (3, 40)):
            a = np.zeros(shape)
            a[[0, 1, 2], [0, 1, 2]] = 1.0, 0.5, small
            call = f"solve_svd(a, b).rank for the singular values 1, 0.5, {small}, shape {shape}"
            assert_close(solve_svd(a, np.ones(shape[0])).rank, rank, call, "equation (8)")


@pytest.mark.parametrize("fit", [fit_well, fit_badly])
@pytest.mark.parametrize("matrix", FULL_RANK)
def test_solve_svd_loses_no_more_than_equation_14_says(matrix, fit):
    assert_stable(lambda a, b: solve_svd(a, b).x, matrix, fit)


def test_solve_svd_finds_longleys_certified_coefficients():
    fit = solve_svd(LONGLEY_A, LONGLEY_B)
    call = "solve_svd(a, b) of Longley's data"
    # The condition is 5e9, and SVD does mind the scale of columns: 16 * 30 * eps * 5e9 = 5e-4 of the constant at most;
    # LAPACK is some 1e-11 off.
    assert_close(fit.x, CERTIFIED, call, "NIST", rtol=1e-6)
    assert_close(
        np.sqrt(fit.residual @ fit.residual / 9), 304.854073561965, f"residual deviation of {call}", "NIST", rtol=1e-7
    )


def test_solve_svd_needs_no_square_u():
    # The square U of 300,000 rows would need 720 gigabytes.
    try:
        x = solve_svd(MANY_ROWS, MANY_ROWS @ np.array([2.5, -1.25])).x
    except MemoryError:
        pytest.fail("solve_svd(a, b) of shape (300000, 2) ran out of memory: (9) needs two columns of U only")
    assert_close(x, [2.5, -1.25], "solve_svd(a, a @ [2.5, -1.25]).x of shape (300000, 2)", "equation (9)", rtol=1e-9)


def test_solve_svd_of_a_matrix_of_zeros_is_zero():
    fit = solve_svd(np.zeros((3, 2)), np.array([1.0, 2.5, -1.0]))
    call = "solve_svd(zeros((3, 2)), [1, 2.5, -1])"
    assert_close(fit.x, [0.0, 0.0], f"x of {call}", "equation (9)")
    assert_close(fit.residual, [1.0, 2.5, -1.0], f"residual of {call}", "b - A x")
    assert_close(fit.rank, 0, f"rank of {call}", "equation (8)")


@pytest.mark.parametrize("scale", [1e-250, 1e-150, 1e150, 1e250])
def test_solve_svd_works_on_huge_and_tiny_numbers(scale):
    x = scale * solve_svd(scale * SMALL, SMALL_B).x
    assert_close(x, SMALL_X, f"{scale:g} times solve_svd({scale:g} * a, b).x", "equation (9)", rtol=1e-10)


def test_solve_svd_keeps_float32_with_its_precision_and_leaves_its_arrays_alone():
    a = (random_matrix(12, 3) @ random_matrix(3, 8)).astype(np.float32)
    fit = solve_svd(a, random_vector(12).astype(np.float32))
    dtypes = {part.dtype.name for part in (fit.x, fit.residual, fit.singular_values)}
    assert dtypes == {"float32"}, f"solve_svd of float32 arrays returned {dtypes}"
    assert fit.rank == 3, f"solve_svd of a 12 x 8 matrix of rank 3 in float32 has rank {fit.rank}; its eps is 1e-7"
    unchanged(solve_svd, random_matrix(9, 4), random_vector(9))


# pseudo_inverse


def test_pseudo_inverse_of_a_small_matrix():
    # A = 15 u1 v1' + 10 u2 v2': A+ = v1 u1' / 15 + v2 u2' / 10.
    a = 15 * np.outer([0.6, 0.8], [1, 0, 0]) + 10 * np.outer([-0.8, 0.6], [0, 0.6, -0.8])
    expected = [[0.04, 0.8 / 15], [-0.048, 0.036], [0.064, -0.048]]
    call = "pseudo_inverse(a) for a with the singular values 15 and 10"
    assert_close(pseudo_inverse(a), expected, call, "equation (10)", rtol=1e-12)


@pytest.mark.parametrize("name", ANY_SHAPE)
def test_pseudo_inverse_fulfils_the_four_conditions_of_penrose(name):
    a = ANY_SHAPE[name]
    x = pseudo_inverse(a)
    call = f"X = pseudo_inverse(a) of {name}"
    assert x.shape == a.T.shape, f"{call} has the shape {x.shape}, expected {a.T.shape}"
    assert_close(a @ x @ a, a, f"A X A for {call}", "condition 1 of (11)", rtol=0, atol=1e-11)
    assert_close(x @ a @ x, x, f"X A X for {call}", "condition 2 of (11)", rtol=0, atol=1e-11)
    assert_close((a @ x).T, a @ x, f"the transpose of A X for {call}", "condition 3 of (11)", rtol=0, atol=1e-11)
    assert_close((x @ a).T, x @ a, f"the transpose of X A for {call}", "condition 4 of (11)", rtol=0, atol=1e-11)


@pytest.mark.parametrize("rcond", [None, 1e-12, 1e-6, 0.1, 0.5])
def test_pseudo_inverse_leaves_out_what_rcond_calls_zero(rcond):
    a = with_singular_values([4.0, 1.0, 1e-3, 1e-9], 8, np.random.default_rng(7))
    expected = np.linalg.pinv(a, rcond=max(a.shape) * EPS if rcond is None else rcond)
    for matrix, inverse in ((a, expected), (a.T, expected.T)):
        call = f"pseudo_inverse(a, rcond={rcond}) for the singular values 4, 1, 1e-3, 1e-9, shape {matrix.shape}"
        # An error of 1e-16 in a singular value of 1e-9 is one of 1e-7 in its inverse.
        found = pseudo_inverse(matrix, rcond)
        assert_close(found, inverse, call, "(10), by NumPy's pinv", rtol=0, atol=1e-5 * np.abs(inverse).max())


def test_pseudo_inverse_needs_no_square_u():
    try:
        identity = pseudo_inverse(MANY_ROWS) @ MANY_ROWS
    except MemoryError:
        pytest.fail("pseudo_inverse(a) of shape (300000, 2) ran out of memory: (10) needs two columns of U only")
    call = "pseudo_inverse(a) @ a of shape (300000, 2)"
    assert_close(identity, np.eye(2), call, "equation (10)", rtol=0, atol=1e-9)


def test_pseudo_inverse_of_zeros_is_zeros():
    assert_close(pseudo_inverse(np.zeros((3, 2))), np.zeros((2, 3)), "pseudo_inverse(zeros((3, 2)))", "equation (10)")


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_pseudo_inverse_works_on_huge_and_tiny_numbers(scale):
    a = random_matrix(6, 4)
    call = f"{scale:g} times pseudo_inverse({scale:g} * a)"
    assert_close(scale * pseudo_inverse(scale * a), np.linalg.pinv(a), call, "equation (10)", rtol=0, atol=1e-13)


def test_pseudo_inverse_keeps_float32_with_its_precision_and_leaves_its_matrix_alone():
    a = random_matrix(12, 3) @ random_matrix(3, 8)
    x = pseudo_inverse(a.astype(np.float32))
    assert x.dtype == np.float32, f"pseudo_inverse of a float32 matrix returned {x.dtype}"
    call = "pseudo_inverse(a) of a 12 x 8 matrix of rank 3 in float32"
    assert_close(
        x, np.linalg.pinv(a, rcond=1e-10), call, "equation (10)", rtol=0, atol=1e-5, tolerance="its eps is 1e-7"
    )
    unchanged(pseudo_inverse, random_matrix(9, 4))


# condition_number


@pytest.mark.parametrize(("values", "expected"), [([7.5, 3.0, 0.6], 12.5), ([2.0, 2.0], 1.0), ([0.3], 1.0)])
@pytest.mark.parametrize("n_rows", [3, 9])
def test_condition_number_is_the_ratio_of_the_extreme_singular_values(values, expected, n_rows):
    a = with_singular_values(values, n_rows, np.random.default_rng(8))
    for matrix in (a, a.T):
        call = f"condition_number(a) for the singular values {values}, shape {matrix.shape}"
        assert_close(condition_number(matrix), expected, call, "equation (12)", rtol=1e-12)


def test_condition_number_of_lauchlis_matrix_and_of_hilberts():
    # Läuchli: the squares of the singular values are n + epsilon^2 and epsilon^2.
    call = "condition_number(lauchli(5, 1e-6))"
    # Rounding of 1e-16 in a singular value of 1e-6.
    assert_close(condition_number(lauchli(5, 1e-6)), 5**0.5 * 1e6, call, "equation (12)", rtol=1e-8)
    expected = np.linalg.cond(hilbert(9, 5))
    assert_close(condition_number(hilbert(9, 5)), expected, "condition_number(hilbert(9, 5))", "NumPy", rtol=1e-8)


def test_condition_number_of_a_singular_matrix_is_infinite_or_beyond_what_rounding_can_tell():
    for a in (np.diag([2.5, 0.0]), np.zeros((3, 2))):
        assert_close(condition_number(a), np.inf, f"condition_number({a.tolist()})", "equation (12)")
    kappa = condition_number(DEPENDENT["a column twice"])
    assert kappa > 1e14, f"condition_number of a matrix with a column twice is {kappa:.3g}; expected at least 1e14"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_condition_number_does_not_depend_on_scale(scale):
    call = f"condition_number({scale:g} * a)"
    expected = np.linalg.cond(SMALL)
    assert_close(condition_number(scale * SMALL), expected, call, "equation (12)", rtol=1e-11)


def test_condition_number_leaves_its_matrix_alone():
    unchanged(condition_number, random_matrix(9, 4))


# perturbation_bound


@pytest.mark.parametrize("epsilon", [1e-3, 2.5e-2])
def test_perturbation_bound_is_that_of_equation_14(epsilon):
    # Singular values 5 and 2: kappa = 2.5. x = (3, 4) / 5, r = (0, 0, 6): gamma = 6 / 5 for |x| = 1.
    a = np.array([[5.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    b = np.array([3.0, 1.6, 6.0])
    expected = 2.5 * epsilon / (1 - 2.5 * epsilon) * (2 + 3.5 * 1.2)
    call = f"perturbation_bound([[5, 0], [0, 2], [0, 0]], [3, 1.6, 6], {epsilon})"
    assert_close(perturbation_bound(a, b, epsilon), expected, call, "equation (14)", rtol=1e-12)


@pytest.mark.parametrize("fit", [fit_well, fit_badly])
@pytest.mark.parametrize("name", ["a random 20 x 6 matrix", "one column", "the 9 x 6 Hilbert matrix"])
def test_perturbation_bound_agrees_with_equation_14_computed_here(name, fit):
    a = {**ANY_SHAPE, **SENSITIVE}[name]
    b = fit(a) + 0.01 * random_vector(len(a))
    expected = wedin(a, b, np.linalg.lstsq(a, b, rcond=None)[0], 1e-9)
    call = f"perturbation_bound(a, b, 1e-9) of {name}, {fit.__name__} and a little noise"
    assert_close(perturbation_bound(a, b, 1e-9), expected, call, "equation (14)", rtol=1e-7)


@pytest.mark.parametrize("fit", [fit_well, fit_badly])
def test_perturbation_bound_is_never_exceeded(fit):
    rng = np.random.default_rng(12)
    a = with_singular_values([3.0, 1.0, 0.2, 0.05], 9, rng)
    b, epsilon = fit(a), 2e-3
    bound = perturbation_bound(a, b, epsilon)
    x = np.linalg.lstsq(a, b, rcond=None)[0]
    moved = []
    for _ in range(50):
        da, db = rng.normal(size=a.shape), rng.normal(size=b.shape)
        da *= epsilon * np.linalg.norm(a, 2) / np.linalg.norm(da, 2)
        db *= epsilon * np.linalg.norm(b) / np.linalg.norm(db)
        moved.append(relative_error(np.linalg.lstsq(a + da, b + db, rcond=None)[0], x))
    call = f"perturbation_bound(a, b, {epsilon}), {fit.__name__}"
    assert max(moved) <= bound, (
        f"{call} is {bound:.3g}, but a change of that size moved x by {max(moved):.3g}; see (14)"
    )
    assert bound < 100 * max(moved), f"{call} is {bound:.3g}, of which 50 changes used no more than {max(moved):.3g}"


def test_perturbation_bound_without_changes_is_zero():
    assert_close(perturbation_bound(SMALL, SMALL_B, 0.0), 0.0, "perturbation_bound(a, b, 0)", "equation (14)")


@pytest.mark.parametrize(
    ("a", "b", "epsilon", "why"),
    [
        ([[5.0, 0.0], [0.0, 2.0]], [1.0, 1.0], 0.4, "kappa epsilon is 1"),
        ([[5.0, 0.0], [0.0, 2.0]], [1.0, 1.0], 0.7, "kappa epsilon is above 1"),
        ([[5.0, 0.0], [0.0, 0.0]], [1.0, 1.0], 1e-9, "kappa is infinite"),
        ([[5.0, 0.0], [0.0, 0.0]], [1.0, 1.0], 0.0, "kappa is infinite"),
        ([[5.0], [0.0]], [0.0, 1.0], 1e-9, "the solution is zero"),
        ([[5.0], [0.0]], [0.0, 0.0], 1e-9, "the solution is zero"),
    ],
)
def test_perturbation_bound_is_infinite_where_nothing_can_be_said(a, b, epsilon, why):
    call = f"perturbation_bound({a}, {b}, {epsilon}), where {why},"
    assert_close(perturbation_bound(np.array(a), np.array(b), epsilon), np.inf, call, "equation (14)")


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_perturbation_bound_does_not_depend_on_scale(scale):
    expected = perturbation_bound(SMALL, SMALL_B, 1e-3)
    for a, b in ((scale * SMALL, SMALL_B), (SMALL, scale * SMALL_B)):
        bound = perturbation_bound(a, b, 1e-3)
        assert_close(bound, expected, f"perturbation_bound with a or b times {scale:g}", "equation (14)", rtol=1e-10)


def test_perturbation_bound_leaves_its_arrays_alone():
    unchanged(perturbation_bound, SMALL, SMALL_B, epsilon=1e-3)


# What is given: the checks of the arguments


NO_MATRIX = pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[1j]])])


@pytest.mark.given
@NO_MATRIX
def test_solve_qr_and_all_others_refuse_what_is_no_matrix_of_finite_numbers(bad):
    for call in (
        lambda: solve_normal_equations(bad, np.ones(len(bad))),
        lambda: solve_qr(bad, np.ones(len(bad))),
        lambda: solve_svd(bad, np.ones(len(bad))),
        lambda: pseudo_inverse(bad),
        lambda: condition_number(bad),
        lambda: perturbation_bound(bad, np.ones(len(bad)), 1e-3),
    ):
        with pytest.raises(ValueError, match="a must"):
            call()


@pytest.mark.given
@pytest.mark.parametrize("b", [np.ones(3), np.ones((3, 2)), np.ones((4, 2, 1)), np.array([1, 2, np.nan, 4]), 1.0])
def test_solve_qr_and_all_others_refuse_right_hand_sides_that_do_not_fit(b):
    for call in (
        lambda: solve_triangular(np.eye(4), b),
        lambda: solve_normal_equations(np.eye(4), b),
        lambda: solve_qr(np.eye(4), b),
        lambda: solve_svd(np.eye(4), b),
        lambda: perturbation_bound(np.eye(4), b, 1e-3),
    ):
        with pytest.raises(ValueError, match="b must"):
            call()


@pytest.mark.given
def test_solve_qr_and_others_refuse_wide_matrices_and_perturbation_bound_several_right_hand_sides():
    for solve in (solve_normal_equations, solve_qr, lambda a, b: perturbation_bound(a, b, 1e-3)):
        with pytest.raises(ValueError, match="a must"):
            solve(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match="b must"):
        perturbation_bound(np.eye(3), np.ones((3, 2)), 1e-3)


@pytest.mark.given
def test_solve_triangular_refuses_what_is_not_square_or_has_a_zero_on_its_diagonal():
    with pytest.raises(ValueError, match="t must"):
        solve_triangular(np.ones((3, 2)), np.ones(3))
    with pytest.raises(np.linalg.LinAlgError, match="pivot 1"):
        solve_triangular(np.array([[1.0, 2.0], [0.0, 0.0]]), np.ones(2))


@pytest.mark.given
@pytest.mark.parametrize("rcond", [-1e-3, 1.0, np.nan, np.inf])
def test_solve_svd_and_pseudo_inverse_refuse_an_rcond_out_of_range(rcond):
    with pytest.raises(ValueError, match="rcond must"):
        solve_svd(np.eye(2), np.ones(2), rcond)
    with pytest.raises(ValueError, match="rcond must"):
        pseudo_inverse(np.eye(2), rcond)


@pytest.mark.given
@pytest.mark.parametrize("epsilon", [-1e-9, np.nan, np.inf])
def test_perturbation_bound_refuses_an_epsilon_that_is_negative_or_not_finite(epsilon):
    with pytest.raises(ValueError, match="epsilon must"):
        perturbation_bound(SMALL, SMALL_B, epsilon)
