"""Shared tests of linalg/norms: run on the reference, and on the learner's file.

Nothing here is random but seeded data. A norm of some 100 entries takes a few hundred roundings of 1e-16 each, which
add up to far less than the relative tolerance of 1e-12 used throughout (1e-5 for float32, whose roundings are 6e-8).
"""

import itertools
import warnings

import numpy as np
import pytest

from mlpath.linalg.norms import (
    equivalence_constants,
    induced_norm,
    l1_norm,
    l2_norm,
    lp_norm,
    max_norm,
    schatten_norm,
    unit_ball_boundary,
)
from mlpath.testing import assert_close

RTOL = 1e-12
ORDERS = [1, 1.5, 2, 3, 7, np.inf]
VECTOR_NORMS = {
    "l1_norm(x)": l1_norm,
    "max_norm(x)": max_norm,
    "l2_norm(x)": l2_norm,
    "lp_norm(x, p=3)": lambda x: lp_norm(x, p=3),
}


def random_vector(n=60):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(5).normal(-1, 2, n)


def random_matrix(n_rows=12, n_cols=7):
    """A matrix with entries of both signs, one row and one column of which stand out from the others."""
    a = np.random.default_rng(6).normal(0.5, 2, (n_rows, n_cols))
    a[n_rows // 3] *= -4
    a[:, n_cols // 2] *= 3
    return a


def unchanged(function, array, *arguments):
    """Call the function, and fail if it wrote to the array."""
    before = array.copy()
    function(array, *arguments)
    assert np.array_equal(array, before), f"{function.__name__} changed the array that it was given"


# l1_norm


def test_l1_norm_adds_the_absolute_values():
    assert_close(l1_norm(np.array([1.0, -2.0, 4.5])), 7.5, "l1_norm([1, -2, 4.5])", "equation (1)", rtol=RTOL)
    assert_close(l1_norm(np.array([-0.25])), 0.25, "l1_norm([-0.25])", "equation (1)", rtol=RTOL)


def test_l1_norm_agrees_with_numpy_on_a_long_vector():
    x = random_vector()
    assert_close(l1_norm(x), np.linalg.norm(x, 1), "l1_norm(x) of 60 entries", "equation (1), by NumPy", rtol=RTOL)


def test_l1_norm_of_the_zero_vector_is_zero():
    assert_close(l1_norm(np.zeros(3)), 0.0, "l1_norm([0, 0, 0])", "equation (1)")


def test_l1_norm_leaves_its_vector_alone():
    unchanged(l1_norm, random_vector())


# max_norm


def test_max_norm_finds_the_largest_absolute_value():
    assert_close(max_norm(np.array([1.0, 4.5, -2.0])), 4.5, "max_norm([1, 4.5, -2])", "equation (2)", rtol=RTOL)
    assert_close(max_norm(np.array([1.0, -4.5, 2.0])), 4.5, "max_norm([1, -4.5, 2])", "equation (2)", rtol=RTOL)


def test_max_norm_of_negative_entries_is_positive():
    assert_close(max_norm(np.array([-3.0, -0.5])), 3.0, "max_norm([-3, -0.5])", "equation (2)", rtol=RTOL)


def test_max_norm_agrees_with_numpy_on_a_long_vector():
    x = random_vector()
    expected = np.linalg.norm(x, np.inf)
    assert_close(max_norm(x), expected, "max_norm(x) of 60 entries", "equation (2), by NumPy", rtol=RTOL)


def test_max_norm_leaves_its_vector_alone():
    unchanged(max_norm, random_vector())


# l2_norm


def test_l2_norm_is_the_length_of_the_straight_line():
    assert_close(l2_norm(np.array([1.0, -4.0, 8.0])), 9.0, "l2_norm([1, -4, 8])", "equation (3)", rtol=RTOL)
    assert_close(l2_norm(np.array([-0.25])), 0.25, "l2_norm([-0.25])", "equation (3)", rtol=RTOL)


def test_l2_norm_agrees_with_numpy_on_a_long_vector():
    x = random_vector()
    assert_close(l2_norm(x), np.linalg.norm(x), "l2_norm(x) of 60 entries", "equation (3), by NumPy", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e306, 1e-306])
def test_l2_norm_survives_squares_that_overflow_or_vanish(scale):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the number that comes back says it better than NumPy's warning
        length = l2_norm(scale * np.array([1.0, -4.0, 8.0]))
    assert_close(length, 9 * scale, f"l2_norm({scale:g} * [1, -4, 8])", "equations (3) and (5)", rtol=RTOL)


def test_l2_norm_copes_with_huge_and_tiny_entries_together():
    x = np.array([1e-200, -3e200, 0.0, 4e200, 1.0])
    assert_close(l2_norm(x), 5e200, "l2_norm([1e-200, -3e200, 0, 4e200, 1])", "equation (3)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_l2_norm_works_on_float32_within_its_precision_and_range(scale):
    x = random_vector().astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        length = l2_norm(x * np.float32(scale))
    expected = np.linalg.norm(x.astype(float)) * scale
    call = f"l2_norm({scale:g} * x) of float32 numbers"
    assert_close(length, expected, call, "equations (3) and (5)", rtol=1e-5, tolerance="as a float32 has 7 digits")


def test_l2_norm_of_the_zero_vector_is_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_close(l2_norm(np.zeros(3)), 0.0, "l2_norm([0, 0, 0])", "equation (3)")


def test_l2_norm_leaves_its_vector_alone():
    unchanged(l2_norm, random_vector())


# lp_norm


def test_lp_norm_takes_the_root_of_the_sum_of_powers():
    x = np.array([3.0, -4.0, 5.0])
    assert_close(lp_norm(x, p=3), 6.0, "lp_norm([3, -4, 5], p=3)", "equation (4): the cube root of 216", rtol=RTOL)


@pytest.mark.parametrize("p", ORDERS)
def test_lp_norm_agrees_with_numpy_on_a_long_vector(p):
    x = random_vector()
    assert_close(lp_norm(x, p), np.linalg.norm(x, p), f"lp_norm(x, p={p})", "equation (4), by NumPy", rtol=RTOL)


def test_lp_norm_of_infinite_order_is_the_maximum_norm():
    x = np.array([2.0, -6.0, 1.0])
    assert_close(lp_norm(x, np.inf), 6.0, "lp_norm([2, -6, 1], p=np.inf)", "equation (2)", rtol=RTOL)


@pytest.mark.parametrize("p", [50, 1000, 1e9])
def test_lp_norm_of_a_large_order_neither_overflows_nor_vanishes(p):
    for scale in (5.0, 0.2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            norm = lp_norm(scale * np.array([-0.1, 1.0, -1.0, 1.0]), p)
        # The entry 0.1 adds 0.1^50 / 3 at most, which is below rounding.
        expected = scale * 3 ** (1 / p)
        assert_close(norm, expected, f"lp_norm({scale} * [-0.1, 1, -1, 1], p={p:g})", "equation (4)", rtol=RTOL)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_lp_norm_survives_powers_that_overflow_or_vanish(scale, p):
    x = random_vector()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        norm = lp_norm(scale * x, p)
    expected = scale * np.linalg.norm(x, p)
    assert_close(norm, expected, f"lp_norm({scale:g} * x, p={p})", "equations (4) and (5)", rtol=RTOL)


@pytest.mark.parametrize("p", ORDERS)
def test_lp_norm_of_the_zero_vector_is_zero(p):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_close(lp_norm(np.zeros(4), p), 0.0, f"lp_norm([0, 0, 0, 0], p={p})", "equation (4)")


@pytest.mark.parametrize("p", ORDERS)
def test_lp_norm_obeys_the_triangle_inequality(p):
    x, y = random_vector(), np.random.default_rng(7).normal(1, 3, 60)
    direct, detour = lp_norm(x + y, p), lp_norm(x, p) + lp_norm(y, p)
    assert direct <= detour, f"lp_norm(x + y, p={p}) is {direct:.6g}, more than the {detour:.6g} of x and y one by one"


def test_lp_norm_leaves_its_vector_alone():
    unchanged(lp_norm, random_vector(), 3)


@pytest.mark.parametrize("p", [1.5, 7, np.inf])
def test_lp_norm_works_on_float32_within_its_precision_and_range(p):
    x = random_vector().astype(np.float32)
    expected = np.linalg.norm(x.astype(float), p)
    for scale in (1e30, 1e-30):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            norm = lp_norm(x * np.float32(scale), p)
        call = f"lp_norm({scale:g} * x, p={p}) of float32 numbers"
        assert_close(
            norm, expected * scale, call, "equations (4) and (5)", rtol=1e-5, tolerance="as a float32 has 7 digits"
        )


# induced_norm


def test_induced_norm_of_order_1_is_the_largest_column():
    a = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -2.5]])
    assert_close(induced_norm(a, p=1), 7.0, "induced_norm([[1, -2, 3], [4, 5, -2.5]], p=1)", "equation (7)", rtol=RTOL)


def test_induced_norm_of_infinite_order_is_the_largest_row():
    a = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -2.5]])
    call = "induced_norm([[1, -2, 3], [4, 5, -2.5]], p=np.inf)"
    assert_close(induced_norm(a, p=np.inf), 11.5, call, "equation (8)", rtol=RTOL)


@pytest.mark.parametrize("p", [1, np.inf])
@pytest.mark.parametrize("shape", [(12, 7), (7, 12), (1, 9), (9, 1)])
def test_induced_norm_agrees_with_numpy(shape, p):
    a = random_matrix(*shape)
    expected = np.linalg.norm(a, p)
    because = f"equation ({7 if p == 1 else 8}), by NumPy"
    assert_close(induced_norm(a, p), expected, f"induced_norm(a, p={p}) of shape {shape}", because, rtol=RTOL)


@pytest.mark.parametrize("p", [1, np.inf])
def test_induced_norm_is_the_most_that_the_matrix_stretches_any_vector(p):
    a = random_matrix(5, 4)
    # The maximum of (6) is reached at a corner of the unit ball: a unit vector for p = 1, a vector of signs for infinity.
    corners = np.eye(4) if p == 1 else np.array(list(itertools.product([-1.0, 1.0], repeat=4)))
    most = max(np.linalg.norm(a @ corner, p) for corner in corners)
    assert_close(induced_norm(a, p), most, f"induced_norm(a, p={p})", "equation (6), tried at every corner", rtol=RTOL)


def test_induced_norm_leaves_its_matrix_alone():
    unchanged(induced_norm, random_matrix(), 1)


# schatten_norm


# Its singular values are 15 and 10: the matrix is a rotation, times diag(15, 10), times a reflection, and a zero column.
ROTATED = np.array([[9.0, -12.0, 0.0], [8.0, 6.0, 0.0]])


@pytest.mark.parametrize(
    ("p", "name", "expected"),
    [(1, "nuclear", 25.0), (2, "Frobenius", 325**0.5), (np.inf, "spectral", 15.0), (3, "S3", 4375 ** (1 / 3))],
)
def test_schatten_norm_is_the_norm_of_the_singular_values(p, name, expected):
    call = f"schatten_norm(a, p={p}) of a matrix with the singular values 15 and 10"
    assert_close(schatten_norm(ROTATED, p), expected, call, f"equation (9), the {name} norm", rtol=RTOL)


@pytest.mark.parametrize(("p", "numpys"), [(1, "nuc"), (2, "fro"), (np.inf, 2)])
def test_schatten_norm_agrees_with_numpy_for_tall_and_wide_matrices(p, numpys):
    for a in (random_matrix(), random_matrix().T):
        expected = np.linalg.norm(a, numpys)
        call = f"schatten_norm(a, p={p}) of shape {a.shape}"
        assert_close(schatten_norm(a, p), expected, call, "equation (9), by NumPy", rtol=RTOL)


def test_schatten_norm_of_order_2_is_the_root_of_the_sum_of_squares_of_all_entries():
    a = random_matrix()
    expected = np.sqrt((a**2).sum())
    assert_close(schatten_norm(a, 2), expected, "schatten_norm(a, p=2)", "equation (3) over all entries", rtol=RTOL)


@pytest.mark.parametrize("p", ORDERS)
def test_schatten_norm_does_not_change_when_the_matrix_is_rotated(p):
    a = random_matrix()
    rotation, _ = np.linalg.qr(np.random.default_rng(8).normal(size=(12, 12)))
    expected = schatten_norm(a, p)
    assert_close(schatten_norm(rotation @ a, p), expected, f"schatten_norm(Q @ a, p={p})", "equation (9)", rtol=RTOL)
    assert expected > 0, f"schatten_norm(a, p={p}) returned {expected} for a matrix that is not zero"


@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_schatten_norm_survives_squares_that_overflow_or_vanish(scale, p):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        norm = schatten_norm(scale * ROTATED, p)
    expected = scale * {1: 25.0, 2: 325**0.5, np.inf: 15.0}[p]
    assert_close(norm, expected, f"schatten_norm({scale:g} * a, p={p})", "equations (5) and (9)", rtol=RTOL)


def test_schatten_norm_of_the_zero_matrix_is_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_close(schatten_norm(np.zeros((3, 2)), 1), 0.0, "schatten_norm(zeros((3, 2)), p=1)", "equation (9)")


def test_schatten_norm_leaves_its_matrix_alone():
    unchanged(schatten_norm, random_matrix(), 1)


# unit_ball_boundary


@pytest.mark.parametrize(("p", "diagonal"), [(1, 0.5), (2, 0.5**0.5), (3, 0.5 ** (1 / 3)), (np.inf, 1.0)])
def test_unit_ball_boundary_ends_where_equation_10_says(p, diagonal):
    angles = np.pi * np.array([0.0, 0.25, 0.75, 1.0, 1.5])
    expected = np.array([[1, 0], [diagonal, diagonal], [-diagonal, diagonal], [-1, 0], [0, -1]])
    call = f"unit_ball_boundary([0, 45, 135, 180, 270 degrees], p={p})"
    # The sine of pi is 1e-16 rather than 0.
    assert_close(unit_ball_boundary(angles, p), expected, call, "equation (10)", rtol=RTOL, atol=1e-15)


@pytest.mark.parametrize("p", [1, 1.3, 2, 4, 200, np.inf])
def test_unit_ball_boundary_has_norm_1_everywhere(p):
    points = unit_ball_boundary(np.linspace(-4, 7, 57), p)
    norms = np.linalg.norm(points, p, axis=1)
    assert_close(norms, np.ones(57), f"the Lp norms of unit_ball_boundary(angles, p={p})", "equation (10)", rtol=RTOL)


@pytest.mark.parametrize("p", [1, 3, np.inf])
def test_unit_ball_boundary_keeps_the_direction_of_each_angle(p):
    angles = np.linspace(-3.1, 3.1, 31)
    points = unit_ball_boundary(angles, p)
    assert points.shape == (31, 2), f"unit_ball_boundary of 31 angles returned shape {points.shape}, expected (31, 2)"
    found = np.arctan2(points[:, 1], points[:, 0])
    assert_close(found, angles, f"the angles of unit_ball_boundary(angles, p={p})", "equation (10)", atol=RTOL)


def test_unit_ball_boundary_leaves_its_angles_alone():
    unchanged(unit_ball_boundary, np.linspace(0, 6, 10), 3)


# equivalence_constants


@pytest.mark.parametrize(
    ("p", "q", "n", "expected"),
    [
        (1, 2, 9, (1, 3)),
        (2, 1, 9, (1 / 3, 1)),
        (1, np.inf, 12, (1, 12)),
        (np.inf, 1, 12, (1 / 12, 1)),
        (2, np.inf, 49, (1, 7)),
        (3, 6, 64, (1, 2)),
        (1.5, 1.5, 10, (1, 1)),
        (np.inf, np.inf, 10, (1, 1)),
        (1, 4, 1, (1, 1)),
    ],
)
def test_equivalence_constants_are_those_of_equation_12(p, q, n, expected):
    call = f"equivalence_constants(p={p}, q={q}, n={n})"
    assert_close(equivalence_constants(p, q, n), expected, call, "equations (11) and (12)", rtol=RTOL)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("q", ORDERS)
def test_equivalence_constants_hold_and_are_reached(p, q):
    smallest, largest = equivalence_constants(p, q, 6)
    x = np.random.default_rng(9).normal(size=(200, 6)) ** 3
    x[0], x[1] = 1.0, [0, 0, 1.0, 0, 0, 0]
    ratios = np.linalg.norm(x, p, axis=1) / np.linalg.norm(x, q, axis=1)
    call = f"equivalence_constants({p}, {q}, n=6)"
    assert_close(smallest, ratios.min(), f"c of {call}", "the least Lp / Lq of 200 vectors, equation (11)", rtol=RTOL)
    assert_close(largest, ratios.max(), f"C of {call}", "the largest Lp / Lq of 200 vectors, equation (11)", rtol=RTOL)


# What is given: the checks of the arguments


@pytest.mark.given
@pytest.mark.parametrize("norm", VECTOR_NORMS.values(), ids=VECTOR_NORMS)
@pytest.mark.parametrize("x", [np.array([]), np.ones((2, 2)), np.array([1.0, np.nan]), np.array([np.inf]), [1j], ["a"]])
def test_l1_norm_and_the_other_vector_norms_refuse_what_is_no_vector_of_finite_numbers(norm, x):
    with pytest.raises(ValueError, match="x must"):
        norm(x)


@pytest.mark.parametrize("norm", VECTOR_NORMS.values(), ids=VECTOR_NORMS)
def test_lp_norm_and_the_other_vector_norms_take_whole_numbers(norm):
    whole, expected = norm(np.array([-128, 100], dtype=np.int8)), norm(np.array([-128.0, 100.0]))
    assert_close(whole, expected, "the norm of the whole numbers [-128, 100]", "that of [-128.0, 100.0]", rtol=RTOL)


@pytest.mark.given
@pytest.mark.parametrize("a", [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[-np.inf]])])
def test_induced_norm_and_schatten_norm_refuse_what_is_no_matrix_of_finite_numbers(a):
    with pytest.raises(ValueError, match="a must"):
        induced_norm(a, 1)
    with pytest.raises(ValueError, match="a must"):
        schatten_norm(a, 1)


@pytest.mark.given
@pytest.mark.parametrize("p", [0.99, 0, -2, np.nan, -np.inf])
def test_lp_norm_and_all_others_refuse_an_order_below_1(p):
    for call in (
        lambda: lp_norm(np.ones(2), p),
        lambda: induced_norm(np.ones((2, 2)), p),
        lambda: schatten_norm(np.ones((2, 2)), p),
        lambda: unit_ball_boundary(np.ones(2), p),
        lambda: equivalence_constants(p, 1, 3),
    ):
        with pytest.raises(ValueError, match="p must"):
            call()
    with pytest.raises(ValueError, match="q must"):
        equivalence_constants(1, p, 3)


@pytest.mark.given
def test_induced_norm_refuses_orders_that_have_no_simple_formula():
    with pytest.raises(ValueError, match="p must"):
        induced_norm(np.ones((2, 2)), 2)


@pytest.mark.given
@pytest.mark.parametrize("angles", [np.array([]), np.ones((2, 2)), np.array([np.nan])])
def test_unit_ball_boundary_refuses_what_is_no_vector_of_finite_angles(angles):
    with pytest.raises(ValueError, match="angles must"):
        unit_ball_boundary(angles, 2)


@pytest.mark.given
@pytest.mark.parametrize("n", [0, -1, 2.5, np.nan, np.inf])
def test_equivalence_constants_refuse_a_dimension_that_is_no_positive_whole_number(n):
    with pytest.raises(ValueError, match="n must"):
        equivalence_constants(1, 2, n)
