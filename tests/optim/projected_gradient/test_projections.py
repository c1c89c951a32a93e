"""Shared tests of optim/projected_gradient/projections: run on the reference, and on the learner's file.

Everything here is deterministic. Formulas of a dozen operations on some 40 numbers leave errors of some 1e-15 of the
sizes involved; 1e-9 leaves room for any order of them, and still is a thousand times sharper than float32.
"""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize

from mlpath.optim.projected_gradient.projections import (
    CONVERGED,
    OUT_OF_STEPS,
    dykstra,
    project_affine,
    project_ball,
    project_box,
    project_half_space,
    project_l1_ball,
    project_second_order_cone,
    project_simplex,
)
from mlpath.testing import assert_close

SIZES = [1e-200, 1e-30, 1e30, 1e200]
DIM = 12


@pytest.fixture
def rng():
    return np.random.default_rng(1986)


def check_projection(project, x, members, excess, call):
    """Assert what every projection must do, of rows `x`, `members` of the set, and by how much points exceed it."""
    given = x.copy()
    found = project(x)
    assert isinstance(found, np.ndarray) and found.shape == x.shape, f"{call} of points {x.shape} returned {found!r}"
    assert_close(x, given, f"the points handed to {call}, afterwards,", "the docstring: they are not changed", rtol=0)
    assert not np.shares_memory(found, x), f"{call} returned its argument; the docstring says a new array"
    scale = abs(x).max() + abs(found).max()
    for i in (0, len(x) // 2):
        assert_close(
            project(x[i]), found[i], f"{call} of row {i} by itself", "the same as among others", atol=1e-9 * scale
        )
    most = excess(found).max()
    assert most <= 1e-9 * scale, f"{call} returned points that are outside of the set by {most:.4g}"
    products = np.einsum("id,ijd->ij", x - found, members[None] - found[:, None])
    i, j = np.unravel_index(products.argmax(), products.shape)
    assert products[i, j] <= 1e-9 * scale**2, (
        f"{call} of {x[i].round(4)} returned p = {found[i].round(4)}, but y = {members[j].round(4)} of the set is at "
        f"(x - p)'(y - p) = {products[i, j]:.4g}, which (2) forbids"
    )
    again = project(found)
    assert_close(again, found, f"{call} of what it returned", "itself: it is in the set", rtol=1e-9, atol=1e-9 * scale)
    before = np.linalg.norm(x[:, None] - x[None], axis=-1)
    after = np.linalg.norm(found[:, None] - found[None], axis=-1)
    assert (after <= before + 1e-9 * scale).all(), f"{call} has taken two points farther apart, against (3)"


def check_sizes(project, x, call):
    """Assert that a projection does not depend on units: `project(x, size)` has all of its set's lengths times `size`."""
    expected = project(x, 1.0)
    for size in SIZES:
        found = project(size * x, size)
        assert_close(found / size, expected, f"{call}, all lengths times {size:g}, divided by it,", "units", atol=1e-12)


def check_float32(project, x, call):
    found, expected = project(x.astype(np.float32)), project(x)
    assert found.dtype == np.float32, f"{call} of float32 points returned {found.dtype}"
    assert_close(found, expected, f"{call} of float32", tolerance="a float32 has 7 digits", rtol=1e-4, atol=1e-4)


def refuses(name, call, *arguments, **options):
    with pytest.raises(ValueError, match=name):
        call(*arguments, **options)


# project_box


def test_project_box_brings_each_coordinate_between_its_bounds():
    found = project_box(np.array([2.75, -1.3, 0.45, 6.1]), [-1.0, -0.85, 0.2, 7.2], [1.62, 3.0, 0.9, 9.9])
    assert_close(found, [1.62, -0.85, 0.45, 7.2], "project_box([2.75, -1.3, 0.45, 6.1], ...)", "equation (4)")


def test_project_box_takes_numbers_infinity_and_equal_bounds():
    x = np.array([[2.7, -1.3, 0.4], [-5.2, 8.1, 0.0]])
    assert_close(project_box(x, -1.1, 0.3), [[0.3, -1.1, 0.3], [-1.1, 0.3, 0.0]], "project_box(x, -1.1, 0.3)", "(4)")
    found = project_box(x, [-np.inf, 0.0, 0.7], [1.0, np.inf, 0.7])
    assert_close(found, [[1.0, 0.0, 0.7], [-5.2, 8.1, 0.7]], "project_box with infinite and equal bounds", "(4)")


def test_project_box_is_a_projection(rng):
    lower, upper = -rng.random(DIM), rng.random(DIM)
    members = np.where(rng.random((60, DIM)) < 0.5, lower, upper)
    x = 2 * rng.standard_normal((20, DIM))

    def excess(y):
        return np.maximum(lower - y, y - upper)

    check_projection(lambda x: project_box(x, lower, upper), x, members, excess, "project_box")
    check_float32(lambda x: project_box(x, lower, upper), x, "project_box")
    assert_close(project_box(members, lower, upper), members, "project_box of points of the box", "themselves", rtol=0)


@pytest.mark.given
def test_project_box_refuses_bounds_that_leave_nothing():
    x = np.ones((2, 3))
    refuses("lower", project_box, x, 1.0, 0.5)
    refuses("lower", project_box, x, [0.0, np.nan, 0.0], 1.0)
    refuses("upper", project_box, x, 0.0, [1.0, 2.0])


# project_ball


def test_project_ball_goes_towards_the_centre_until_the_sphere():
    found = project_ball(np.array([2.9, -1.7, 4.6]), 1.3, center=[0.5, 1.5, 1.6])  # 2.4, -3.2 and 3 away: length 5
    assert_close(found, [1.124, 0.668, 2.38], "project_ball([2.9, -1.7, 4.6], 1.3, center=[0.5, 1.5, 1.6])", "(5)")
    found = project_ball(np.array([0.66, -1.12]), 0.65)
    assert_close(found, [0.33, -0.56], "project_ball([0.66, -1.12], 0.65)", "equation (5)")
    assert_close(project_ball(np.array([[2.1, 2.8]])), [[0.6, 0.8]], "project_ball([[2.1, 2.8]])", "(5), radius 1")


def test_project_ball_leaves_points_inside_as_they_are(rng):
    center = rng.standard_normal(DIM) * 7.3
    x = center + 0.3 * rng.random((30, DIM)) / np.sqrt(DIM)
    found = project_ball(x, 0.31, center=center)
    assert np.array_equal(found, x), f"project_ball moved points of the ball by {abs(found - x).max()}"
    found = project_ball(x - center, 0.31)
    assert np.array_equal(found, x - center), f"project_ball moved points by {abs(found - x + center).max()}"
    assert_close(project_ball(np.zeros(3), 0.5), np.zeros(3), "project_ball of its centre", "the centre", rtol=0)


def test_project_ball_is_a_projection(rng):
    center, directions = rng.standard_normal(DIM), rng.standard_normal((60, DIM))
    members = center + 1.7 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    x = rng.standard_normal((20, DIM))
    project = partial(project_ball, radius=1.7, center=center)
    check_projection(project, x, members, lambda y: np.linalg.norm(y - center, axis=1) - 1.7, "project_ball")
    check_float32(project, x, "project_ball")
    assert_close(project(members), members, "project_ball of points of the sphere", "themselves", rtol=1e-9)


def test_project_ball_does_not_depend_on_units(rng):
    x = rng.standard_normal((5, DIM))
    check_sizes(lambda x, size: project_ball(x, 0.7 * size, center=np.full(DIM, 0.3 * size)), x, "project_ball")
    found = project_ball(np.array([3e200, -4e200]), 5e-200)
    assert_close(found, [3e-200, -4e-200], "project_ball([3e200, -4e200], 5e-200)", "(5)")


@pytest.mark.given
@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan, np.inf])
def test_project_ball_and_others_refuse_radii_that_are_not_positive(radius):
    for project in (project_ball, project_simplex, project_l1_ball):
        refuses("radius", project, np.ones(3), radius)


@pytest.mark.given
def test_project_ball_refuses_a_centre_that_does_not_fit():
    refuses("center", project_ball, np.ones(3), center=[1.0, 2.0])
    refuses("center", project_ball, np.ones(3), center=np.inf)


@pytest.mark.given
@pytest.mark.parametrize(
    "x", [np.array(1.0), np.ones((0, 3)), np.array([1.0, np.nan]), np.array([np.inf]), np.array(["a"])]
)
def test_project_ball_and_others_refuse_points_that_are_none(x):
    for project in (project_ball, project_simplex, project_l1_ball, project_second_order_cone):
        refuses("x must", project, x)
    refuses("x must", project_box, x, 0.0, 1.0)


# project_half_space


def test_project_half_space_goes_against_the_normal_until_the_plane():
    found = project_half_space(np.array([2.3, -0.7, 1.9]), np.array([1.5, -0.4, 2.2]), 3.17)
    # 3.45 + 0.28 + 4.18 = 7.91, which is 4.74 too much; the normal's square is 2.25 + 0.16 + 4.84 = 7.25
    expected = np.array([2.3, -0.7, 1.9]) - 4.74 / 7.25 * np.array([1.5, -0.4, 2.2])
    assert_close(found, expected, "project_half_space([2.3, -0.7, 1.9], [1.5, -0.4, 2.2], 3.17)", "equation (6)")


def test_project_half_space_leaves_points_inside_as_they_are(rng):
    normal = rng.standard_normal(DIM)
    x = rng.standard_normal((40, DIM))
    offset = float(np.median(x @ normal))
    inside = x @ normal < offset - 1e-9
    found = project_half_space(x, normal, offset)
    assert np.array_equal(found[inside], x[inside]), "project_half_space moved points of the half-space"
    assert_close(
        found[~inside] @ normal, np.full(20, offset), "normal @ y of the others", "offset", rtol=1e-9, atol=1e-9
    )


def test_project_half_space_is_a_projection(rng):
    normal, x = rng.standard_normal(DIM), 3 * rng.standard_normal((20, DIM))
    members = 3 * rng.standard_normal((60, DIM))
    members -= (np.maximum(members @ normal + 0.8, 0) / (normal @ normal))[:, None] * normal
    project = partial(project_half_space, normal=normal, offset=np.float64(-0.8))
    check_projection(project, x, members, lambda y: y @ normal + 0.8, "project_half_space")
    check_float32(project, x, "project_half_space")


def test_project_half_space_does_not_depend_on_units_nor_on_the_length_of_the_normal(rng):
    normal, x = rng.standard_normal(DIM), rng.standard_normal((5, DIM))
    check_sizes(lambda x, size: project_half_space(x, normal, -0.8 * size), x, "project_half_space")
    expected = project_half_space(x, normal, -0.8)
    for size in SIZES:
        found = project_half_space(x, size * normal, -0.8 * size)
        assert_close(
            found, expected, f"project_half_space, normal and offset times {size:g},", "the same set", atol=1e-12
        )


@pytest.mark.given
def test_project_half_space_refuses_what_is_none():
    refuses("normal", project_half_space, np.ones(2), np.zeros(2), 1.0)
    refuses("normal", project_half_space, np.ones(2), np.ones(3), 1.0)
    refuses("normal", project_half_space, np.ones(2), np.array([1.0, np.nan]), 1.0)
    refuses("offset", project_half_space, np.ones(2), np.ones(2), np.inf)
    refuses("x must", project_half_space, np.array([1.0, np.nan]), np.ones(2), 1.0)


# project_affine


def test_project_affine_on_a_plane_and_on_a_line():
    x = np.array([2.3, -0.7, 1.9])
    found = project_affine(x, np.array([[1.5, -0.4, 2.2]]), np.array([9.91]))  # 2 more than the 7.91 of x
    expected = x + 2 / 7.25 * np.array([1.5, -0.4, 2.2])
    assert_close(found, expected, "project_affine([2.3, -0.7, 1.9], [[1.5, -0.4, 2.2]], [9.91])", "equation (7)")
    found = project_affine(x, np.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]]), np.array([1.7, 2.0]))
    # 6.9 + 7.6 = 14.5, 12.5 too much, the square is 25: half of the row is taken off
    assert_close(found, [0.8, 0.85, -0.1], "project_affine onto 2 y2 = 1.7, 3 y1 + 4 y3 = 2", "equation (7)")


def test_project_affine_is_a_projection(rng):
    matrix, solution = rng.standard_normal((4, DIM)), rng.standard_normal(DIM)
    rhs = matrix @ solution
    members = solution + rng.standard_normal((60, DIM)) @ np.linalg.svd(matrix)[2][4:].T @ np.linalg.svd(matrix)[2][4:]
    x = rng.standard_normal((20, DIM))
    project = partial(project_affine, matrix=matrix, rhs=rhs)
    check_projection(project, x, members, lambda y: abs(y @ matrix.T - rhs), "project_affine")
    check_float32(project, x, "project_affine")
    assert_close(
        project(x) @ matrix.T, np.tile(rhs, (20, 1)), "matrix @ project_affine(x)", "rhs", rtol=1e-9, atol=1e-9
    )
    expected = x - (x @ matrix.T - rhs) @ np.linalg.pinv(matrix).T
    assert_close(project(x), expected, "project_affine", "equation (7) by the pseudo-inverse", rtol=1e-9, atol=1e-9)


def test_project_affine_does_not_mind_rows_that_depend_on_each_other_or_are_zero(rng):
    rows, solution, x = rng.standard_normal((3, DIM)), rng.standard_normal(DIM), rng.standard_normal((2, DIM))
    mix = rng.standard_normal((7, 3))
    mix[4] = 0
    expected = project_affine(x, rows, rows @ solution)
    found = project_affine(x, mix @ rows, mix @ rows @ solution)
    assert_close(found, expected, "project_affine with 7 equations of which 3 count", "the same set", atol=1e-9)
    square = project_affine(x, np.vstack([np.eye(DIM), rows]), np.append(solution, rows @ solution))
    assert_close(square, np.tile(solution, (2, 1)), "project_affine with more equations than unknowns", atol=1e-9)
    assert_close(project_affine(x, np.zeros((2, DIM)), np.zeros(2)), x, "project_affine onto 0 = 0", "everything")


def test_project_affine_counts_nearly_dependent_rows_in_float32_as_one():
    rows = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0 + 1e-7]], dtype=np.float32)
    found = project_affine(np.array([3.0, -1.0, 5.0], dtype=np.float32), rows, np.array([2.0, 2.0], dtype=np.float32))
    expected = np.array([3.0, -1.0, 5.0]) - 1.0 * np.array([1.0, 2.0, 3.0])
    assert_close(found, expected, "project_affine with two float32 rows that differ by rounding", rtol=1e-4, atol=1e-4)
    again = project_affine(np.array([3.0, -1.0, 5.0]), np.array([[1, 2, 3], [1, 2, 3 + 1e-7]]), np.array([2.0, 2.0]))
    # in float64 they are two planes that cross: y3 = 0 and y1 + 2 y2 = 2
    assert_close(
        again, [3.2, -0.6, 0.0], "project_affine with rows that differ by 1e-7 in float64", rtol=1e-6, atol=1e-6
    )
    close = project_affine(np.array([3.0, -1.0, 5.0]), np.array([[1, 2, 3], [1, 2, 3 + 3e-11]]), np.array([2.0, 2.0]))
    # the least singular value is 3e-12: far above 6 roundings, which it multiplies to some 1e-4
    assert_close(
        close, [3.2, -0.6, 0.0], "project_affine with rows that differ by 3e-11 in float64", rtol=0.01, atol=0.01
    )


def test_project_affine_does_not_depend_on_the_units_of_rows(rng):
    matrix, rhs, x = rng.standard_normal((4, DIM)), rng.standard_normal(4), rng.standard_normal((2, DIM))
    expected = project_affine(x, matrix, rhs)
    units = np.array([1e-100, 1e3, -1e30, 1.0])
    found = project_affine(x, units[:, None] * matrix, units * rhs)
    assert_close(found, expected, "project_affine with rows times 1e-100, 1e3, -1e30 and 1", "the same set", atol=1e-9)
    check_sizes(lambda x, size: project_affine(x, matrix, rhs * size), x, "project_affine")


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_project_affine_refuses_equations_that_contradict_each_other(size):
    matrix = np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0], [0.0, 1.0, 1.0]])
    refuses("rhs", project_affine, np.ones(3), matrix, size * np.array([1.0, 2.001, 3.0]))
    refuses("rhs", project_affine, np.ones(3), np.zeros((2, 3)), size * np.array([0.0, 1.0]))
    refuses(
        "rhs", project_affine, np.ones(3), np.vstack([np.eye(3), np.ones(3)]), size * np.array([1.0, 2.0, 3.0, 6.1])
    )
    found = project_affine(np.ones(3), matrix, size * np.array([1.0, 2 + 1e-11, 3.0]))
    assert_close(matrix[0] @ found, size, "an equation that another one misses by 1e-11", rtol=1e-6, atol=1e-9)


@pytest.mark.given
def test_project_affine_refuses_what_does_not_fit():
    refuses("matrix", project_affine, np.ones(3), np.ones((2, 2)), np.ones(2))
    refuses("matrix", project_affine, np.ones(3), np.ones(3), np.ones(1))
    refuses("matrix", project_affine, np.ones(3), np.full((1, 3), np.inf), np.ones(1))
    refuses("rhs", project_affine, np.ones(3), np.ones((2, 3)), np.ones(3))
    refuses("rhs", project_affine, np.ones(3), np.ones((1, 3)), np.array([np.nan]))
    refuses("x must", project_affine, np.array([1.0, np.nan]), np.ones((1, 2)), np.ones(1))


# project_simplex


def on_simplex(x, found, radius, call):
    """Assert (8): one threshold for all entries, no negative ones, the right sum."""
    assert (found >= 0).all(), f"{call} has negative entries: {found}"
    assert_close(found.sum(axis=-1), np.full(x.shape[:-1], radius), f"the sums of {call}", "radius", rtol=1e-12)
    for row, p in zip(np.atleast_2d(x), np.atleast_2d(found), strict=True):
        thetas = (row - p)[p > 0]
        theta, size = thetas.mean(), abs(row).max() + radius
        assert abs(thetas - theta).max() <= 1e-9 * size, f"{call} of {row} is {p}: not one threshold, see (8)"
        assert (row[p == 0] <= theta + 1e-9 * size).all(), f"{call} of {row} is {p}: zero above the threshold {theta}"


def test_project_simplex_by_hand():
    found = project_simplex(np.array([0.35, -0.62, 1.17, 0.41]))
    # sorted 1.17, 0.41, 0.35, -0.62; thetas 0.17, 0.29, 0.31, 0.0775: the third still is below its entry
    assert_close(found, [0.04, 0.0, 0.86, 0.1], "project_simplex([0.35, -0.62, 1.17, 0.41])", "equations (8) and (9)")
    found = project_simplex(np.array([[2.3, 5.1, 1.9], [-8.2, -7.6, -9.9]]), 2.5)
    # theta = 5.1 - 2.5 is above the 2.3; for the second row (-15.8 - 2.5) / 2 = -9.15
    assert_close(
        found, [[0.0, 2.5, 0.0], [0.95, 1.55, 0.0]], "project_simplex([[2.3, 5.1, 1.9], [...]], 2.5)", "(8), (9)"
    )


@pytest.mark.parametrize("radius", [0.03, 1.0, 77.0])
def test_project_simplex_has_one_threshold_for_all_entries(radius, rng):
    x = rng.standard_normal((30, DIM)) * 2 - 1
    on_simplex(x, project_simplex(x, radius), radius, f"project_simplex(x, {radius})")


def test_project_simplex_is_a_projection(rng):
    members = np.vstack([2.5 * np.eye(DIM), 2.5 * rng.dirichlet(np.ones(DIM), 40)])
    x = 1.5 * rng.standard_normal((20, DIM))
    check_projection(lambda x: project_simplex(x, 2.5), x, members, lambda y: -y, "project_simplex")
    check_float32(project_simplex, x, "project_simplex")
    assert_close(
        project_simplex(members, 2.5), members, "project_simplex of its points", "themselves", rtol=0, atol=1e-12
    )


def test_project_simplex_of_ties_one_entry_and_many_axes(rng):
    assert_close(project_simplex(np.full(7, -3.3)), np.full(7, 1 / 7), "project_simplex of 7 equal entries", "(8)")
    assert_close(project_simplex(np.array([-4.2]), 1.7), [1.7], "project_simplex([-4.2], 1.7)", "the only point")
    x = rng.standard_normal((3, 2, 5))
    expected = np.array([[project_simplex(row) for row in rows] for rows in x])
    assert_close(project_simplex(x), expected, "project_simplex of shape (3, 2, 5)", "each row by itself", rtol=1e-9)


def test_project_simplex_keeps_its_digits_where_entries_are_large(rng):
    whole = 2.0**45 + np.arange(8.0) / 128  # exact in binary, as are all differences
    found, expected = project_simplex(whole), project_simplex(np.arange(8.0) / 128)
    assert_close(found, expected, "project_simplex of entries near 2^45", "the same as near 0", rtol=1e-12)
    x = 1e12 * rng.random((4, DIM))
    on_simplex(x, project_simplex(x), 1.0, "project_simplex of entries near 1e12")


def test_project_simplex_keeps_its_digits_beside_entries_far_below(rng):
    far = rng.random((4, DIM))
    far[:, ::3] = -1e308  # the sum of two of them overflows, if they are summed
    with np.errstate(over="ignore"):
        found = project_simplex(far)
    assert_close(found[:, ::3], np.zeros((4, 4)), "project_simplex where x is -1e308", "0: far below theta", rtol=0)
    expected = project_simplex(np.delete(far, np.s_[::3], axis=1))
    call = "project_simplex beside entries of -1e308"
    assert_close(np.delete(found, np.s_[::3], axis=1), expected, call, "the same as without them", rtol=1e-9)


def test_project_simplex_does_not_depend_on_units(rng):
    check_sizes(lambda x, size: project_simplex(x, 0.7 * size), rng.standard_normal((5, DIM)), "project_simplex")


# project_l1_ball


def test_project_l1_ball_by_hand():
    found = project_l1_ball(np.array([0.35, 0.62, -1.17, 0.41]))
    # sizes sorted 1.17, 0.62, 0.41, 0.35; thetas 0.17, 0.395, 0.4, 0.3875
    assert_close(found, [0.0, 0.22, -0.77, 0.01], "project_l1_ball([0.35, 0.62, -1.17, 0.41])", "equation (10)")
    found = project_l1_ball(np.array([[-3.3, 0.8], [0.7, -1.1], [2.9, 2.6]]), 2.2)
    expected = [[-2.2, 0.0], [0.7, -1.1], [1.25, 0.95]]
    assert_close(found, expected, "project_l1_ball([[-3.3, 0.8], [0.7, -1.1], [2.9, 2.6]], 2.2)", "(10)", atol=1e-12)


def test_project_l1_ball_leaves_points_inside_as_they_are(rng):
    x = rng.laplace(size=(30, DIM))
    x *= 1.29 * rng.random((30, 1)) / abs(x).sum(axis=1, keepdims=True)
    found = project_l1_ball(x, 1.3)
    assert np.array_equal(found, x), f"project_l1_ball moved points of the ball by {abs(found - x).max()}"


def test_project_l1_ball_is_a_projection(rng):
    members = np.vstack([1.3 * np.eye(DIM), -1.3 * np.eye(DIM), 1.3 * rng.dirichlet(np.ones(DIM), 20)])
    x = rng.standard_normal((20, DIM)) * rng.random((20, 1))

    def excess(y):
        return abs(y).sum(axis=1) - 1.3

    check_projection(lambda x: project_l1_ball(x, 1.3), x, members, excess, "project_l1_ball")
    check_float32(project_l1_ball, x, "project_l1_ball")
    check_sizes(lambda x, size: project_l1_ball(x, 1.3 * size), x, "project_l1_ball")


# project_second_order_cone


def test_project_second_order_cone_by_hand():
    for point, expected in (  # the length is 2.5
        ([1.5, 2.0, 0.3], [0.84, 1.12, 1.4]),
        ([1.5, 2.0, -1.1], [0.42, 0.56, 0.7]),
        ([1.5, 2.0, -2.6], [0.0, 0.0, 0.0]),
        ([1.5, 2.0, 2.7], [1.5, 2.0, 2.7]),
    ):
        found = project_second_order_cone(np.array(point))
        assert_close(found, expected, f"project_second_order_cone({point})", "equation (11)", atol=1e-12)


def test_project_second_order_cone_on_its_axis():
    x = np.array([[0.0, 0.0, 3.1], [0.0, 0.0, -3.1], [0.0, 0.0, 0.0]])
    expected = [[0.0, 0.0, 3.1], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    with np.errstate(all="ignore"):
        found = project_second_order_cone(x)
    assert_close(found, expected, f"project_second_order_cone({x.tolist()})", "inside, below, the tip", rtol=0)
    found = project_second_order_cone(np.array([[-4.4], [4.4]]))
    assert_close(found, [[0.0], [4.4]], "project_second_order_cone([[-4.4], [4.4]])", "half a line", rtol=0)


def test_project_second_order_cone_is_a_projection(rng):
    v = rng.standard_normal((60, DIM - 1))
    members = np.column_stack([v, np.linalg.norm(v, axis=1) * (1 + rng.random(60).round())])
    x = rng.standard_normal((20, DIM)) * np.append(np.ones(DIM - 1), 4)

    def excess(y):
        return np.linalg.norm(y[:, :-1], axis=1) - y[:, -1]

    check_projection(project_second_order_cone, x, members, excess, "project_second_order_cone")
    check_float32(project_second_order_cone, x, "project_second_order_cone")
    check_sizes(lambda x, _: project_second_order_cone(x), x, "project_second_order_cone")
    again = project_second_order_cone(members + np.append(np.zeros(DIM - 1), 1e-9))
    assert_close(again, members, "project_second_order_cone of points of the cone", "themselves", atol=1e-8)


# dykstra


def below(normal, offset):
    """The projection onto a half-space, by itself."""
    normal = np.asarray(normal)
    return lambda x: x - max(0.0, normal @ x - offset) / (normal @ normal) * normal


def ball(center, radius):
    center = np.asarray(center)
    return lambda x: center + (x - center) * min(1.0, radius / max(np.linalg.norm(x - center), 1e-300))


def line(*direction):
    """The projection onto a line through the origin."""
    unit = np.array(direction) / np.linalg.norm(direction)
    return lambda x: unit @ x * unit


def test_dykstra_goes_through_the_points_of_equation_12():
    start = np.array([2.7, 1.3])
    result = dykstra(start, [below([0.0, 1.0], 0.4), below([1.0, 1.0], 0.9)], record_path=True)
    # (2.7, 0.4), q1 = (0, 0.9); (1.6, -0.7), q2 = (1.1, 1.1); (1.6, 0.2), q1 = 0; (2.7, 1.3) to (1.15, -0.25); at rest
    path = [[2.7, 1.3], [1.6, -0.7], [1.15, -0.25], [1.15, -0.25]]
    call = "dykstra([2.7, 1.3], [below y2 = 0.4, below y1 + y2 = 0.9])"
    assert_close(result.path, path, f"{call}.path", "equation (12)", atol=1e-12)
    assert_close(result.x, path[-1], f"{call}.x", "the nearest point", atol=1e-12)
    assert_close(result.fun, 1.55**2, f"{call}.fun", "half of the squared distance", rtol=1e-9)
    assert (result.nit, result.nfev) == (3, 6), (
        f"{call} says {result.nit} cycles, {result.nfev} projections, not 3 and 6"
    )
    assert result.success and result.message == CONVERGED, f"{call} says {result.success}, {result.message!r}"
    assert_close(start, [2.7, 1.3], "the start, afterwards,", "the docstring: it is not changed", rtol=0)


def test_dykstra_finds_the_nearest_point_where_projections_in_turn_find_another():
    projections = [ball([0.0, 0.0, 0.0], 1.0), below([1.0, 0.5, -1.0], 0.2), below([-1.0, 0.3, 0.1], -0.1)]
    start = np.array([1.4, 2.2, -0.6])
    inside = {"type": "ineq", "fun": lambda y: [1 - y @ y, 0.2 - y @ [1.0, 0.5, -1.0], -0.1 - y @ [-1.0, 0.3, 0.1]]}
    nearest = minimize(lambda y: ((y - start) ** 2).sum(), np.zeros(3), constraints=inside, tol=1e-14).x
    result = dykstra(start, projections, max_iter=5000)
    assert result.success, f"dykstra on a ball and two half-spaces says {result.message!r}"
    assert_close(result.x, nearest, "dykstra on a ball and two half-spaces", "SciPy's SLSQP", atol=1e-6)
    x = start
    for _ in range(200):
        for project in projections:
            x = project(x)
    assert inside["fun"](x)[0] > -1e-9, "projections in turn should have led into all of the sets"
    gain = np.linalg.norm(x - start) - np.linalg.norm(result.x - start)
    assert gain > 0.01, f"dykstra's point is nearer than that of projections in turn by {gain}, expected 0.01 or more"


def test_dykstra_multiplies_the_error_by_the_squared_cosine_for_two_lines():
    angle = 0.6
    lines = [line(1.0, 0.0), line(np.cos(angle), np.sin(angle))]
    path = dykstra([3.2, 1.9], lines, record_path=True, max_iter=40, tol=1e-8).path
    sizes = np.linalg.norm(path[1:], axis=1)
    expected = np.full(len(sizes) - 1, np.cos(angle) ** 2)
    call = "the ratios of errors of dykstra on two lines at an angle of 0.6"
    assert len(path) > 20, f"{call}: only {len(path) - 1} cycles were made"
    assert_close(sizes[1:] / sizes[:-1], expected, call, "the squared cosine", rtol=1e-9)


def test_dykstra_needs_no_corrections_that_cancel_and_finds_points_of_many_sets(rng):
    normals, start = rng.standard_normal((6, 8)), 3 * rng.standard_normal(8)
    result = dykstra(start, [below(n, 0.5) for n in normals], max_iter=20000)
    excess = (normals @ result.x - 0.5).max()
    assert result.success and excess < 1e-8, f"dykstra left a half-space by {excess}, and says {result.message!r}"
    active = normals[normals @ result.x > 0.5 - 1e-7]
    shares = np.linalg.lstsq(active.T, start - result.x, rcond=None)[0]
    assert_close(active.T @ shares, start - result.x, "start - x as a sum of active normals", "(2)", atol=1e-7)
    assert (shares > -1e-7).all(), f"the shares of the active normals, {shares}, must not be negative, by (2)"


def test_dykstra_does_not_take_a_rest_for_the_end():
    # the square's correction is used up in small portions, and cycle after cycle ends at the same point
    sets = [lambda x: np.clip(x, -1.0, 1.0), below([-1.0, -0.5], -0.5)]
    result = dykstra([-40.0, 1.4], sets, record_path=True)
    rests = (abs(np.diff(result.path, axis=0)).max(axis=1) < 1e-9).sum()
    call = "dykstra([-40, 1.4], [a square, a half-space])"
    assert rests > 10, f"{call} should end at the same point in more than 10 cycles, by (12); here in {rests}"
    assert result.success, f"{call} says {result.message!r} after {result.nit} cycles"
    assert_close(result.x, [0.0, 1.0], f"{call}.x", "the corner", atol=1e-8)


def test_dykstra_does_not_depend_on_units():
    for size in (1e-150, 1.0, 1e150):
        for shift in (0.0, 1.0):  # the start at the origin as well: then the sets alone give the unit
            start = size * np.array([2.7, 1.3]) * (1 - shift)
            sets = [below([0.0, 1.0], (0.4 - 1.3 * shift) * size), below([1.0, 1.0], (0.9 - 4.0 * shift) * size)]
            result = dykstra(start, sets)
            expected = np.array([1.15, -0.25]) - shift * np.array([2.7, 1.3])
            call = f"dykstra from {start}, divided by {size:g},"
            assert result.success and result.nit <= 4, f"{call} took {result.nit} cycles, {result.message!r}"
            assert_close(result.x / size, expected, call, "units", atol=1e-9)


def test_dykstra_may_converge_with_its_last_cycle():
    sets = [below([0.0, 1.0], 0.4), below([1.0, 1.0], 0.9)]
    result = dykstra([2.7, 1.3], sets, max_iter=3)
    assert result.success and result.nit == 3, f"with max_iter=3, just enough, it says {result.nit}, {result.message!r}"
    result = dykstra([2.7, 1.3], sets, max_iter=2, record_path=True)
    assert not result.success and result.message == OUT_OF_STEPS, f"with max_iter=2 it says {result.message!r}"
    assert result.nit == 2 and len(result.path) == 3, f"with max_iter=2 it made {result.nit} cycles"
    assert dykstra([2.7, 1.3], sets).path is None, "path should be None unless it is asked for"


@pytest.mark.parametrize(
    ("start", "crossing"), [([3.2, 1.9], [0.0, 0.0]), ([-3.2, -1.9], [0.0, 0.0]), ([0.0, 0.0], [-50.0, -0.2])]
)
def test_dykstra_stops_within_its_tolerance(start, crossing):
    lines = [line(1.0, 0.0), line(np.cos(0.6), np.sin(0.6))]
    moved = [lambda x, project=project: crossing + project(x - crossing) for project in lines]
    for tol in (1e-2, 1e-5):
        path = dykstra(start, moved, record_path=True, tol=tol).path
        middle = np.array([moved[0](x) for x in path[:-1]])  # after the first projection of each cycle
        unit = np.maximum(abs(np.array(start)).max(), abs(path[1:]).max(axis=1))
        moves = np.maximum(abs(middle - path[:-1]), abs(path[1:] - middle)).max(axis=1) / unit
        call = f"dykstra from {start} on two lines that cross at {crossing} with tol={tol}"
        assert moves[-1] <= tol, f"{call} stopped when the last cycle had moved by {moves[-1]:.3g} of the largest entry"
        assert (moves[:-1] > tol).all(), f"{call} went on after a cycle that moved by {moves[:-1].min():.3g} only"


def test_dykstra_may_be_asked_for_complete_rest():
    result = dykstra([2.7, -0.3], [lambda x: np.clip(x, -1, 1), lambda x: np.clip(x, 0, 2)], tol=0.0)
    assert result.success, f"dykstra with tol=0 on two boxes, where the point comes to rest, says {result.message!r}"
    assert_close(result.x, [1.0, 0.0], "dykstra([2.7, -0.3], two boxes).x", "the nearest point of both", atol=1e-15)


def test_dykstra_says_so_if_the_sets_have_nothing_in_common():
    result = dykstra([2.7, 1.3], [below([0.0, 1.0], 0.0), below([0.0, -1.0], -1.0)], max_iter=30)
    assert not result.success and result.nit == 30, (
        f"y2 <= 0 and y2 >= 1: it says {result.message!r} after {result.nit}"
    )


def test_dykstra_keeps_float32_and_lets_exceptions_through():
    result = dykstra(np.array([2.7, 1.3], np.float32), [below([0.0, 1.0], 0.4), below([1.0, 1.0], 0.9)], tol=1e-6)
    assert result.x.dtype == np.float32, f"dykstra of a float32 start returned {result.x.dtype}"
    assert_close(result.x, [1.15, -0.25], "dykstra of float32", rtol=1e-5)

    def broken(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dykstra([1.0], [broken])


@pytest.mark.given
def test_dykstra_refuses_what_it_cannot_use():
    refuses("start", dykstra, [1.0, np.nan], [below([1.0, 0.0], 0.0)])
    refuses("tol", dykstra, [1.0], [below([1.0], 0.0)], tol=-1.0)
    refuses("max_iter", dykstra, [1.0], [below([1.0], 0.0)], max_iter=0)
    refuses("projections", dykstra, [1.0], [])


def test_dykstra_refuses_projections_that_are_none():
    refuses("projections", dykstra, [1.0, 2.0], [lambda x: x[:1]])
    refuses("projections", dykstra, [1.0, 2.0], [lambda x: x * np.nan])
