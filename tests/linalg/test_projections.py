"""Shared tests of linalg/projections: run on the reference, and on the learner's file.

Random matrices here have condition numbers below 100 unless a test says otherwise. A few thousand roundings of 1e-16 each,
magnified a hundredfold, stay below 1e-11; RTOL is that, and the float32 tolerance stands to 6e-8 as RTOL does to 1e-16.
What holds for every matrix, however badly conditioned, is tested as a backward error: ten times m n eps, where m n eps is
the threshold of equation (4).
"""

import tracemalloc
import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, kahan, lauchli, with_singular_values
from mlpath.linalg.projections import (
    distance_to_subspace,
    least_squares_fit,
    oblique_projector,
    orthonormal_basis,
    project,
    projector,
    reflect,
    smallest_angle,
)
from mlpath.testing import assert_close

RTOL = 1e-11
RTOL_32 = 2e-4
EPS = np.finfo(float).eps


def rng(seed=3):
    return np.random.default_rng(seed)


def random_columns(n_rows=12, n_cols=4, seed=5):
    """Columns with entries of both signs around a mean that is not zero."""
    return rng(seed).normal(0.7, 2, (n_rows, n_cols))


def random_vector(n_rows=12, seed=6):
    return rng(seed).normal(-1, 2, n_rows)


def length(x):
    return float(np.linalg.norm(x))


def quietly(function, *arguments):
    """Call the function without NumPy's warnings: the number that comes back says it better."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments)


def unchanged(function, *arrays):
    """Call the function, and fail if it wrote to one of the arrays."""
    before = [array.copy() for array in arrays]
    function(*arrays)
    for i, (array, copy) in enumerate(zip(arrays, before)):
        assert np.array_equal(array, copy), f"{function.__name__} changed its argument number {i + 1}"


def true_projector(a):
    """The projector of equation (3) for columns that are well apart, by NumPy's QR."""
    q = np.linalg.qr(a)[0]
    return q @ q.T


def apart(n_cols, epsilon):
    """Columns that are well apart and span the same subspace as those of lauchli(n_cols, epsilon).

    Their differences are multiples of those of the axes, and their mean is what is left.
    """
    differences = np.eye(n_cols)[:, :-1] - np.eye(n_cols)[:, 1:]
    mean = np.vstack([[[1.0]], np.full((n_cols, 1), epsilon / n_cols)])
    return np.hstack([np.vstack([np.zeros(n_cols - 1), differences]), mean])


def large_negative_entries():
    """Independent columns, in the first of which no positive entry is above 1e-20."""
    a = random_columns(12, 3)
    a[:, 0] = [-2.0, 1e-20, -1.5, -0.25, -3.0, 0.0, -1.0, 1e-25, -4.5, -2.25, -0.5, -1.25]
    return a


_UNITS = np.array([1e-150, 1.0, 1e150, 1e-9])
HARD = {
    "hilbert(12, 8)": hilbert(12, 8),
    "hilbert(20, 15)": hilbert(20, 15),
    "lauchli(6, 1e-9)": lauchli(6, 1e-9),
    "kahan(20)": kahan(20),
    "columns in units from 1e-150 to 1e150": random_columns() * _UNITS,
    "large negative entries": large_negative_entries(),
    "rank 3 of 6": random_columns(12, 3) @ random_columns(3, 6, seed=7),
    "wide": random_columns(5, 9),
    "singular values from 1 to 1e-9": with_singular_values(np.geomspace(1, 1e-9, 5), 10, rng()),
}


# orthonormal_basis


def assert_basis(q, a, rank, call):
    """Fail unless q has `rank` orthonormal columns in whose span all columns of a are, to a backward error."""
    assert q.shape == (len(a), rank), f"{call} returned the shape {q.shape}, expected {(len(a), rank)}"
    tolerance = 10 * a.size * np.finfo(a.dtype).eps
    assert_close(q.T @ q, np.eye(rank), f"Q'Q of Q = {call}", "orthonormality", rtol=0, atol=tolerance)
    unit = a / np.where(a.any(axis=0), np.abs(a).max(axis=0), 1)
    because = "the columns a, each divided by its largest entry: they are in the span of Q"
    assert_close(q @ (q.T @ unit), unit, f"Q Q'a of Q = {call}", because, rtol=0, atol=tolerance)


def test_orthonormal_basis_of_one_column_is_that_column_with_length_1():
    q = orthonormal_basis(np.array([[1.5], [-2.0], [6.0]]))
    call = "orthonormal_basis([[1.5], [-2], [6]])"
    assert q.shape == (3, 1), f"{call} returned the shape {q.shape}, expected (3, 1)"
    expected = np.array([[1.5], [-2.0], [6.0]]) / 6.5
    assert_close(q * np.sign(q[2, 0]), expected, f"{call}, but for its sign", "the column over its length", rtol=RTOL)


@pytest.mark.parametrize("shape", [(12, 4), (40, 10), (6, 6), (5, 9), (1, 3), (7, 1)])
def test_orthonormal_basis_spans_independent_columns(shape):
    a = random_columns(*shape)
    assert_basis(orthonormal_basis(a), a, min(shape), f"orthonormal_basis(a) of shape {shape}")


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("hilbert(12, 8)", 8),
        ("lauchli(6, 1e-9)", 6),
        ("columns in units from 1e-150 to 1e150", 4),
        ("large negative entries", 3),
        ("rank 3 of 6", 3),
        ("wide", 5),
        ("singular values from 1 to 1e-9", 5),
    ],
)
def test_orthonormal_basis_has_as_many_columns_as_the_rank(name, rank):
    q = quietly(orthonormal_basis, HARD[name])
    assert_basis(q, HARD[name], rank, f"orthonormal_basis(a), {name}")


DEPENDENT = {
    "one of them twice": lambda a: np.column_stack([a, a[:, 1]]),
    "a multiple of another": lambda a: np.column_stack([-0.37 * a[:, 0], a]),
    "a sum of two others": lambda a: np.column_stack([a[:, 0] + a[:, 2], a]),
    "a column of zeros": lambda a: np.column_stack([a[:, 0], np.zeros(len(a)), a[:, 1:]]),
    "20 mixtures": lambda a: a @ rng(9).normal(size=(4, 20)),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_orthonormal_basis_leaves_out_what_depends_on_others(name):
    a = DEPENDENT[name](random_columns())
    assert_basis(quietly(orthonormal_basis, a), a, 4, f"orthonormal_basis(dependent columns), {name}")


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_orthonormal_basis_works_at_all_scales(scale):
    a = scale * random_columns()
    assert_basis(quietly(orthonormal_basis, a), a, 4, f"orthonormal_basis({scale:g} * a)")


def test_orthonormal_basis_of_nothing_but_zeros_is_empty():
    q = quietly(orthonormal_basis, np.zeros((5, 2)))
    assert q.shape == (5, 0), f"orthonormal_basis(zeros((5, 2))) returned the shape {q.shape}, expected (5, 0)"


def test_orthonormal_basis_of_float32_columns_is_in_float32_and_judges_the_rank_by_its_precision():
    a = random_columns().astype(np.float32)
    # The sum depends on the others but for the roundings of a float32.
    a = np.column_stack([a, a[:, 0] / np.float32(3) + a[:, 1] / np.float32(7)])
    q = orthonormal_basis(a)
    assert q.dtype == np.float32, f"orthonormal_basis of float32 numbers is in {q.dtype}"
    assert_basis(q, a, 4, "orthonormal_basis(a in float32), the fifth column a mixture of two others")


def test_orthonormal_basis_leaves_its_matrix_alone():
    unchanged(orthonormal_basis, random_columns())
    unchanged(orthonormal_basis, np.zeros((3, 2)))


# project


def test_project_finds_the_foot_on_a_line():
    found = project(np.array([2.0, 3.5]), np.array([[4.0], [-3.0]]))
    # The line's unit vector is (0.8, -0.6), and x reaches -0.5 along it.
    assert_close(found, np.array([-0.4, 0.3]), "project([2, 3.5], [[4], [-3]])", "equation (3)", rtol=RTOL)


def test_project_onto_a_plane_whose_columns_are_not_orthogonal():
    x, a = np.array([2.0, -1.0, 5.5]), np.array([[1.0, 3.0], [2.0, 0.0], [0.0, -1.0]])
    # The normal of this plane is (-2, 1, -6), which x meets with -38 of 41.
    expected = x - np.array([-2.0, 1.0, -6.0]) * -38 / 41
    call = "project([2, -1, 5.5], [[1, 3], [2, 0], [0, -1]])"
    assert_close(project(x, a), expected, call, "equation (3)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(12, 1), (12, 4), (40, 10)])
def test_project_is_the_true_projector_times_the_vector(shape):
    a, x = random_columns(*shape), random_vector(shape[0])
    expected = true_projector(a) @ x
    call = f"project(x, a) with a of shape {shape}"
    assert_close(project(x, a), expected, call, "equation (3), by QR", rtol=0, atol=RTOL * length(x))


@pytest.mark.parametrize("name", HARD)
def test_project_leaves_the_columns_themselves_where_they_are(name):
    a = HARD[name]
    for j in range(a.shape[1]):
        found, size = quietly(project, a[:, j], a), np.abs(a[:, j]).max()
        call = f"project(column {j} of a, a), {name}"
        assert_close(found / size, a[:, j] / size, call, "equation (1)", rtol=0, atol=10 * a.size * EPS)


@pytest.mark.parametrize("name", HARD)
def test_project_leaves_a_residual_orthogonal_to_the_columns(name):
    a = HARD[name]
    x = random_vector(len(a))
    unit = a / np.abs(a).max(axis=0)
    residual = x - quietly(project, x, a)
    call = f"a'(x - p) / |x| with p = project(x, a), {name}"
    expected = np.zeros(a.shape[1])
    assert_close(unit.T @ residual / length(x), expected, call, "what precedes (2)", rtol=0, atol=10 * a.size * EPS)


@pytest.mark.parametrize("name", DEPENDENT)
def test_project_takes_dependent_columns_for_the_subspace_they_span(name):
    a, x = random_columns(), random_vector()
    found = quietly(project, x, DEPENDENT[name](a))
    expected = true_projector(a) @ x
    call = f"project(x, dependent columns), {name}"
    assert_close(found, expected, call, "equation (3) on the independent ones", rtol=0, atol=RTOL * length(x))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_project_works_at_all_scales(scale):
    x, a = scale * np.array([2.0, 3.5]), np.array([[4.0], [-3.0]])
    expected = scale * np.array([-0.4, 0.3])
    assert_close(quietly(project, x, a), expected, f"project({scale:g} * x, a)", "equation (3)", rtol=RTOL)
    expected = np.array([-0.4, 0.3])
    assert_close(quietly(project, x / scale, scale * a), expected, f"project(x, {scale:g} * a)", "(3)", rtol=RTOL)


def test_project_onto_the_zero_vector_is_zero_and_onto_the_whole_space_the_vector_itself():
    x = random_vector()
    assert_close(quietly(project, x, np.zeros((12, 2))), np.zeros(12), "project(x, zeros((12, 2)))", "equation (3)")
    found = project(x, random_columns(12, 20))
    assert_close(found, x, "project(x, 20 columns of 12 entries)", "equation (3)", rtol=0, atol=RTOL * length(x))


def test_project_forms_no_matrix_of_all_rows_by_all_rows():
    a, x = random_columns(3000, 3), random_vector(3000)
    tracemalloc.start()
    try:
        project(x, a)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # P would take 72 MB; the columns take 0.07 MB, of which a right solution needs several copies.
    told = f"project(x, a) with a of shape (3000, 3) took {peak / 1e6:.0f} MB at its peak, as P does: mind (3)"
    assert peak < 2e7, told


def test_project_of_float32_numbers_is_in_float32():
    a, x = random_columns().astype(np.float32), random_vector().astype(np.float32)
    found = project(x, a)
    assert found.dtype == np.float32, f"project of float32 numbers is in {found.dtype}"
    expected = true_projector(a.astype(float)) @ x
    tolerance = RTOL_32 * length(x)
    assert_close(found, expected, "project(x, a) in float32", "equation (3)", rtol=0, atol=tolerance)


def test_project_leaves_its_arguments_alone():
    unchanged(project, random_vector(), random_columns())


# projector


def test_projector_onto_a_line():
    expected = np.array([[0.64, -0.48], [-0.48, 0.36]])
    assert_close(projector(np.array([[4.0], [-3.0]])), expected, "projector([[4], [-3]])", "equation (3)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(12, 1), (12, 4), (40, 10), (5, 9)])
def test_projector_agrees_with_equation_2_where_that_is_harmless(shape):
    a = random_columns(*shape)
    expected = a @ np.linalg.solve(a.T @ a, a.T) if shape[0] > shape[1] else np.eye(shape[0])
    call = f"projector(a) of shape {shape}"
    assert_close(projector(a), expected, call, "equation (2)", rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", HARD)
def test_projector_is_its_own_square_and_symmetric(name):
    a = HARD[name]
    p = quietly(projector, a)
    assert p.shape == (len(a), len(a)), f"projector(a), {name}, returned the shape {p.shape}, expected {2 * (len(a),)}"
    tolerance = 10 * a.size * EPS
    assert_close(p @ p, p, f"P P of P = projector(a), {name}", "equation (1)", rtol=0, atol=tolerance)
    assert_close(p, p.T, f"projector(a), {name}", "its transpose, by (3)", rtol=0, atol=tolerance)
    rank = round(float(np.trace(p)))
    assert_close(np.trace(p), float(rank), f"the trace of projector(a), {name}", "a whole number", atol=tolerance)


@pytest.mark.parametrize(("name", "rank"), [("rank 3 of 6", 3), ("lauchli(6, 1e-9)", 6), ("wide", 5)])
def test_projector_has_the_rank_as_its_trace(name, rank):
    trace = np.trace(quietly(projector, HARD[name]))
    assert_close(trace, float(rank), f"the trace of projector(a), {name}", "the rank", atol=1e-10)


@pytest.mark.parametrize("epsilon", [1e-5, 1e-7, 1e-9])
def test_projector_keeps_the_digits_that_equation_2_loses(epsilon):
    a = lauchli(4, epsilon)
    expected = true_projector(apart(4, epsilon))
    # The condition number of the columns is 2 / epsilon. A right method loses that factor, equation (2) its square:
    # it is off by 5e-7 for an epsilon of 1e-5, by 4e-3 for 1e-7, and for 1e-9 A'A is singular.
    tolerance = 100 * 2 / epsilon * EPS
    found, call = quietly(projector, a), f"projector(lauchli(4, {epsilon:g}))"
    assert_close(found, expected, call, "equation (3), from columns that are well apart", rtol=0, atol=tolerance)
    try:
        naive = float(np.abs(a @ np.linalg.inv(a.T @ a) @ a.T - expected).max())
    except np.linalg.LinAlgError:
        naive = np.inf
    assert not naive <= tolerance, f"equation (2) on lauchli(4, {epsilon:g}) is off by {naive:.3g} only"


def test_projector_onto_nothing_is_zero():
    found = quietly(projector, np.zeros((3, 2)))
    assert_close(found, np.zeros((3, 3)), "projector(zeros((3, 2)))", "equation (3)")


def test_projector_of_float32_columns_is_in_float32():
    a = random_columns().astype(np.float32)
    assert projector(a).dtype == np.float32, f"projector of float32 numbers is in {projector(a).dtype}"
    expected = true_projector(a.astype(float))
    assert_close(projector(a), expected, "projector(a) in float32", "equation (3)", rtol=0, atol=RTOL_32)


def test_projector_leaves_its_matrix_alone():
    unchanged(projector, random_columns())


# distance_to_subspace


def test_distance_to_subspace_is_that_from_the_foot():
    found = distance_to_subspace(np.array([2.0, 3.5]), np.array([[4.0], [-3.0]]))
    # x - p = (2.4, 3.2)
    assert_close(found, 4.0, "distance_to_subspace([2, 3.5], [[4], [-3]])", "equation (5)", rtol=RTOL)


def test_distance_to_subspace_through_an_origin():
    x, line, origin = np.array([2.0, 3.5]), np.array([[4.0], [-3.0]]), np.array([0.5, 1.25])
    found = distance_to_subspace(x, line, origin)
    # x - o = (1.5, 2.25) reaches 0.6 * 1.5 + 0.8 * 2.25 across the line.
    call = "distance_to_subspace([2, 3.5], [[4], [-3]], origin=[0.5, 1.25])"
    assert_close(found, 2.7, call, "equation (5)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(12, 1), (12, 4), (40, 10)])
def test_distance_to_subspace_is_the_least_of_all_distances(shape):
    a, x, origin = random_columns(*shape), random_vector(shape[0]), random_vector(shape[0], seed=8)
    for where, offset in ((None, x), (origin, x - origin)):
        residual = offset - a @ np.linalg.lstsq(a, offset, rcond=None)[0]
        found = distance_to_subspace(x, a, where)
        call = f"distance_to_subspace(x, a{'' if where is None else ', origin'}) with a of shape {shape}"
        assert_close(found, length(residual), call, "equation (5), by least squares", rtol=RTOL)


def test_distance_to_subspace_does_not_depend_on_which_of_its_points_is_the_origin():
    a, x, origin = random_columns(), random_vector(), random_vector(seed=8)
    moved = origin + a @ np.array([3.0, -1.5, 0.25, 2.0])
    found, expected = distance_to_subspace(x, a, moved), distance_to_subspace(x, a, origin)
    assert_close(found, expected, "distance_to_subspace(x, a, o + a c)", "that with the origin o", rtol=RTOL)


@pytest.mark.parametrize("name", HARD)
def test_distance_to_subspace_of_its_own_points_is_0_but_for_rounding(name):
    a = HARD[name]
    x = (a / np.abs(a).max(axis=0)) @ np.linspace(-1, 2, a.shape[1])
    found = quietly(distance_to_subspace, x, a)
    call = f"distance_to_subspace(a c, a) / |a c|, {name}"
    assert_close(found / length(x), 0.0, call, "equation (5)", rtol=0, atol=10 * a.size * EPS)


@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1e150, 1e200])
def test_distance_to_subspace_survives_squares_that_overflow_or_vanish(scale):
    found = quietly(distance_to_subspace, scale * np.array([2.0, 3.5]), np.array([[4.0], [-3.0]]))
    assert_close(found, 4 * scale, f"distance_to_subspace({scale:g} * x, a)", "equation (5)", rtol=RTOL)


def test_distance_to_subspace_from_the_origin_alone_and_from_the_whole_space():
    x = np.array([2.0, 3.0, -6.5])
    found = quietly(distance_to_subspace, x, np.zeros((3, 1)))
    assert_close(found, 55.25**0.5, "distance_to_subspace([2, 3, -6.5], zeros((3, 1)))", "equation (5)", rtol=RTOL)
    found = distance_to_subspace(x, random_columns(3, 5))
    assert_close(found, 0.0, "distance_to_subspace(x, 5 columns of 3 entries)", "equation (5)", rtol=0, atol=1e-13)


def test_distance_to_subspace_works_on_float32_within_its_precision():
    a, x = random_columns().astype(np.float32), random_vector().astype(np.float32)
    expected = length(x - true_projector(a.astype(float)) @ x)
    call = "distance_to_subspace(x, a) in float32"
    assert_close(distance_to_subspace(x, a), expected, call, "equation (5)", rtol=RTOL_32)


def test_distance_to_subspace_leaves_its_arguments_alone():
    unchanged(distance_to_subspace, random_vector(), random_columns(), random_vector(seed=8))


# reflect


def test_reflect_gives_the_mirror_image():
    found = reflect(np.array([2.0, 3.5]), np.array([[4.0], [-3.0]]))
    assert_close(found, np.array([-2.8, -2.9]), "reflect([2, 3.5], [[4], [-3]])", "equation (6)", rtol=RTOL)


@pytest.mark.parametrize("name", HARD)
def test_reflect_keeps_the_length_and_twice_gives_the_vector_back(name):
    a = HARD[name]
    x = random_vector(len(a))
    image = quietly(reflect, x, a)
    assert_close(length(image), length(x), f"|reflect(x, a)|, {name}", "|x|, by (6)", rtol=10 * a.size * EPS)
    twice = quietly(reflect, image, a)
    tolerance = 10 * a.size * EPS * length(x)
    assert_close(twice, x, f"reflect(reflect(x, a), a), {name}", "R R = I, after (6)", rtol=0, atol=tolerance)


def test_reflect_keeps_the_mirror_and_turns_what_is_orthogonal_to_it():
    a = random_columns()
    q = np.linalg.qr(a, mode="complete")[0]
    inside, across = q[:, :4] @ np.array([1.5, -2.0, 0.5, 3.0]), q[:, 4:] @ np.linspace(-1, 2, 8)
    found = reflect(inside + across, a)
    call = "reflect(u + v, a) with u in the span of a, v orthogonal to it"
    assert_close(found, inside - across, call, "equation (6): u - v", rtol=0, atol=1e-12 * length(inside + across))


def test_reflect_in_a_hyperplane_is_householders_matrix():
    x, y = random_vector(), random_vector(seed=8)
    y = y * length(x) / length(y)
    normal = x - y
    hyperplane = np.linalg.qr(normal[:, None], mode="complete")[0][:, 1:]
    found = reflect(x, hyperplane)
    because = "y, by (7) with v = x - y"
    assert_close(found, y, "reflect(x, the hyperplane orthogonal to x - y)", because, rtol=0, atol=1e-12 * length(x))
    found = -reflect(x, normal[:, None])
    assert_close(found, y, "-reflect(x, the line along x - y)", because, rtol=0, atol=1e-12 * length(x))


def test_reflect_through_the_origin_alone_and_in_the_whole_space():
    x = random_vector()
    assert_close(
        quietly(reflect, x, np.zeros((12, 1))), -x, "reflect(x, zeros((12, 1)))", "equation (6): -x", rtol=RTOL
    )
    found = reflect(x, random_columns(12, 15))
    assert_close(found, x, "reflect(x, 15 columns of 12 entries)", "equation (6): x", rtol=0, atol=RTOL * length(x))


def test_reflect_of_float32_numbers_is_in_float32():
    a, x = random_columns().astype(np.float32), random_vector().astype(np.float32)
    found = reflect(x, a)
    assert found.dtype == np.float32, f"reflect of float32 numbers is in {found.dtype}"
    expected = 2 * true_projector(a.astype(float)) @ x - x
    assert_close(found, expected, "reflect(x, a) in float32", "equation (6)", rtol=0, atol=RTOL_32 * length(x))


def test_reflect_leaves_its_arguments_alone():
    unchanged(reflect, random_vector(), random_columns())


# smallest_angle


def test_smallest_angle_between_two_lines():
    found = smallest_angle(np.array([[2.0], [3.0]]), np.array([[-1.25], [4.0]]))
    expected = np.arctan2(2 * 4 + 3 * 1.25, -2 * 1.25 + 3 * 4)
    assert_close(found, expected, "smallest_angle([[2], [3]], [[-1.25], [4]])", "equation (8)", rtol=RTOL)
    found = smallest_angle(np.array([[2.0], [3.0]]), np.array([[1.25], [-4.0]]))
    because = "equation (8): a line has no direction"
    assert_close(found, expected, "smallest_angle([[2], [3]], [[1.25], [-4]])", because, rtol=RTOL)


def planes_at(angles, n_rows, seed=4):
    """Two subspaces whose principal angles are given, each by columns that are mixed, in general position."""
    k = len(angles)
    q = np.linalg.qr(rng(seed).normal(size=(n_rows, n_rows)))[0]
    first, second = q[:, :k], q[:, :k] * np.cos(angles) + q[:, k : 2 * k] * np.sin(angles)
    mix = [with_singular_values(np.linspace(1, 3, k), k, rng(seed + i)) for i in (1, 2)]
    return first @ mix[0], second @ mix[1]


@pytest.mark.parametrize("angles", [[0.4, 0.9, 1.3], [1.2, 0.7], [1.5], [0.05, 0.06, 0.07, 0.08]])
def test_smallest_angle_is_the_least_of_all_principal_angles(angles):
    first, second = planes_at(np.array(angles), 12)
    call = f"smallest_angle(a, b) of subspaces with the principal angles {angles}"
    for pair in ((first, second), (second, first)):
        assert_close(smallest_angle(*pair), min(angles), call, "equation (8)", rtol=0, atol=1e-13)


@pytest.mark.parametrize("theta", [1e-3, 1e-7, 1e-9, 1e-12])
def test_smallest_angle_keeps_the_digits_near_0_and_near_a_right_angle(theta):
    for expected, others in ((theta, [0.8, 1.1]), (np.pi / 2 - theta, [np.pi / 2, np.pi / 2])):
        found = smallest_angle(*planes_at(np.array([expected, *others]), 9))
        call = f"smallest_angle(a, b) of subspaces at {'' if expected == theta else 'pi / 2 - '}{theta:g}"
        # Some roundings of 1 in 9 dimensions are 1e-14; an arc cosine is off by 1e-8 near 0, an arc sine near pi / 2.
        assert_close(found, expected, call, "equation (8)", rtol=0, atol=3e-14)


@pytest.mark.parametrize(("n_first", "n_second"), [(1, 5), (5, 1), (2, 6), (6, 2)])
def test_smallest_angle_between_subspaces_of_different_dimensions(n_first, n_second):
    a, b = random_columns(9, n_first), random_columns(9, n_second, seed=8)
    expected = np.arccos(np.linalg.svd(np.linalg.qr(a)[0].T @ np.linalg.qr(b)[0], compute_uv=False).max())
    call = f"smallest_angle of {n_first} and {n_second} columns of 9 entries"
    assert_close(smallest_angle(a, b), expected, call, "equation (8): the arc cosine, harmless here", rtol=1e-10)


def test_smallest_angle_is_0_for_subspaces_that_share_a_direction_and_a_right_angle_for_orthogonal_ones():
    a, b = random_columns(9, 3), random_columns(9, 4, seed=8)
    b[:, 2] = a @ np.array([1.0, -2.0, 0.5])
    assert_close(smallest_angle(a, b), 0.0, "smallest_angle(a, b), which share a direction", "(8)", rtol=0, atol=1e-13)
    found = smallest_angle(random_columns(9, 6), random_columns(9, 5, seed=8))
    assert_close(found, 0.0, "smallest_angle of 6 and 5 columns of 9 entries", "(8)", rtol=0, atol=1e-13)
    q = np.linalg.qr(rng().normal(size=(9, 9)))[0]
    found = smallest_angle(q[:, :3], q[:, 3:5])
    assert_close(found, np.pi / 2, "smallest_angle of orthogonal subspaces", "equation (8)", rtol=0, atol=1e-13)


def test_smallest_angle_does_not_care_how_long_or_how_dependent_the_columns_are():
    a, b = random_columns(9, 2), random_columns(9, 3, seed=8)
    expected = smallest_angle(a, b)
    found = quietly(smallest_angle, np.column_stack([1e200 * a, a[:, 0]]), b * np.array([1e-200, 1.0, 1e9]))
    assert_close(found, expected, "smallest_angle(a, b) with other columns of the same span", "(8)", rtol=1e-10)


def test_smallest_angle_works_on_float32_within_its_precision():
    first, second = planes_at(np.array([0.4, 0.9, 1.3]), 12)
    found = smallest_angle(first.astype(np.float32), second.astype(np.float32))
    assert_close(found, 0.4, "smallest_angle(a, b) in float32", "equation (8)", rtol=RTOL_32)


def test_smallest_angle_leaves_its_arguments_alone():
    unchanged(smallest_angle, random_columns(), random_columns(12, 3, seed=8))


# oblique_projector


def test_oblique_projector_onto_a_line_along_another():
    onto, along = np.array([[2.0], [1.0]]), np.array([[1.0], [3.0]])
    found = oblique_projector(onto, along)
    # (1, 0) = 0.6 (2, 1) - 0.2 (1, 3) and (0, 1) = -0.2 (2, 1) + 0.4 (1, 3)
    expected = np.array([[1.2, -0.4], [0.6, -0.2]])
    call = "oblique_projector(onto=[[2], [1]], along=[[1], [3]])"
    assert_close(found, expected, call, "equation (9)", rtol=RTOL)


@pytest.mark.parametrize(("n_onto", "n_along"), [(1, 4), (3, 2), (7, 5), (10, 30)])
def test_oblique_projector_keeps_one_subspace_and_drops_the_other(n_onto, n_along):
    n_rows = n_onto + n_along
    onto, along = random_columns(n_rows, n_onto), random_columns(n_rows, n_along, seed=8)
    p = oblique_projector(onto, along)
    sizes = n_rows * length(p), np.abs(onto).max(), np.abs(along).max()
    call = f"P = oblique_projector of {n_onto} columns along {n_along}"
    # P is off by some n eps, times its norm squared: a small change of the subspaces changes it so much.
    tolerance = 100 * EPS * sizes[0] * length(p)
    assert_close(p @ onto, onto, f"P onto, {call}", "equation (9)", rtol=0, atol=tolerance * sizes[1])
    dropped = np.zeros((n_rows, n_along))
    assert_close(p @ along, dropped, f"P along, {call}", "equation (9)", rtol=0, atol=tolerance * sizes[2])
    assert_close(p @ p, p, f"P P, {call}", "equation (1)", rtol=0, atol=tolerance * length(p))


@pytest.mark.parametrize("theta", [0.8, 1e-1, 1e-3, 1e-5])
def test_oblique_projector_has_the_norm_1_over_the_sine_of_the_smallest_angle(theta):
    onto, along = planes_at(np.array([0.9, theta, 1.4]), 6)
    norm = np.linalg.norm(oblique_projector(onto, along), 2)
    call = f"the norm of oblique_projector of subspaces at {theta:g}"
    # The relative error is some n eps / sin(theta): below 1e-10 for an angle of 1e-5.
    assert_close(norm, 1 / np.sin(theta), call, "equation (10)", rtol=1e-9)


def test_oblique_projector_along_the_orthogonal_complement_is_the_orthogonal_one():
    a = random_columns()
    complement = np.linalg.qr(a, mode="complete")[0][:, 4:]
    found = oblique_projector(a, complement)
    call = "oblique_projector(a, the orthogonal complement of a)"
    assert_close(found, true_projector(a), call, "equation (3)", rtol=0, atol=1e-12)


def test_oblique_projector_and_its_partner_add_up_to_the_identity():
    onto, along = random_columns(7, 3), random_columns(7, 4, seed=8)
    found = oblique_projector(onto, along) + oblique_projector(along, onto)
    call = "oblique_projector(u, v) + oblique_projector(v, u)"
    assert_close(found, np.eye(7), call, "x = u + v, before (9)", rtol=0, atol=1e-10)


def test_oblique_projector_takes_dependent_columns_of_any_length():
    onto, along = random_columns(6, 2), random_columns(6, 4, seed=8)
    expected = oblique_projector(onto, along)
    more = np.column_stack([1e150 * onto, onto[:, 0] - onto[:, 1]])
    found = quietly(oblique_projector, more, along * np.array([1e-150, 1.0, 1e9, 1e150]))
    call = "oblique_projector(u, v) by other columns of the same spans"
    assert_close(found, expected, call, "that by the first ones", rtol=0, atol=1e-10)


def test_oblique_projector_onto_everything_and_onto_nothing():
    whole, nothing = random_columns(4, 4), np.zeros((4, 1))
    found = quietly(oblique_projector, whole, nothing)
    assert_close(found, np.eye(4), "oblique_projector(the whole space, nothing)", "equation (9)", rtol=0, atol=1e-12)
    found = quietly(oblique_projector, nothing, whole)
    assert_close(found, np.zeros((4, 4)), "oblique_projector(nothing, the whole space)", "equation (9)")


_AXES = np.eye(4)
NOT_COMPLEMENTARY = {
    "too few dimensions": (_AXES[:, :1], _AXES[:, 1:3]),
    "too many dimensions": (_AXES[:, :3], random_columns(4, 2)),
    "a direction in both": (random_columns(4, 2), np.column_stack([random_columns(4, 2).sum(axis=1), _AXES[:, 0]])),
    "the same line twice": (np.array([[1.0], [3.0]]), np.array([[-0.1], [-0.3]])),
    "an angle of 1e-16": (np.array([[1.0], [0.0]]), np.array([[1.0], [1e-16]])),
    "enough columns, but dependent ones": (_AXES[:, :2], np.column_stack([_AXES[:, 2], 2 * _AXES[:, 2]])),
    "nothing but zeros": (np.zeros((2, 1)), np.zeros((2, 1))),
    "a direction in both, in float32": (np.float32([[1.0], [0.3]]), np.float32([[3.0], [0.9]])),
}


@pytest.mark.parametrize("name", NOT_COMPLEMENTARY)
def test_oblique_projector_refuses_subspaces_that_are_not_complementary(name):
    with pytest.raises(ValueError, match="onto and along must"):
        quietly(oblique_projector, *NOT_COMPLEMENTARY[name])


def test_oblique_projector_of_float32_numbers_is_in_float32():
    onto, along = planes_at(np.array([0.9, 0.6, 1.4]), 6)
    found = oblique_projector(onto.astype(np.float32), along.astype(np.float32))
    assert found.dtype == np.float32, f"oblique_projector of float32 numbers is in {found.dtype}"
    expected = oblique_projector(onto, along)
    assert_close(found, expected, "oblique_projector in float32", "that in float64", rtol=0, atol=RTOL_32)


def test_oblique_projector_leaves_its_arguments_alone():
    unchanged(oblique_projector, random_columns(7, 3), random_columns(7, 4, seed=8))


# least_squares_fit


def test_least_squares_fit_of_a_straight_line():
    a = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0], [1.0, 6.0]])
    b = np.array([1.25, 4.0, 2.5, 9.25])
    fit = least_squares_fit(a, b)
    # The means are 2.5 and 4.25. Around them the times' squares sum to 21, and their products with b to 24.5.
    call = "least_squares_fit([[1, 0], [1, 1], [1, 3], [1, 6]], [1.25, 4, 2.5, 9.25])"
    fitted = np.array([16.0, 30.0, 58.0, 100.0]) / 12
    assert_close(fit.fitted, fitted, f"{call}.fitted", "equation (11)", rtol=RTOL)
    assert_close(fit.residual, b - fitted, f"{call}.residual", "equation (11)", rtol=RTOL)
    assert_close(fit.coefficients, np.array([4 / 3, 7 / 6]), f"{call}.coefficients", "equation (12)", rtol=RTOL)
    assert fit.rank == 2, f"{call}.rank is {fit.rank}, expected 2"


@pytest.mark.parametrize("shape", [(12, 1), (12, 4), (40, 10), (6, 6)])
def test_least_squares_fit_agrees_with_numpy_on_independent_columns(shape):
    a, b = random_columns(*shape), random_vector(shape[0])
    expected, _, rank, _ = np.linalg.lstsq(a, b, rcond=None)
    fit, call = least_squares_fit(a, b), f"least_squares_fit(a, b) with a of shape {shape}"
    size = np.abs(expected).max()
    assert_close(fit.coefficients, expected, f"{call}.coefficients", "(12), by NumPy", rtol=0, atol=1e-10 * size)
    assert_close(fit.fitted, a @ expected, f"{call}.fitted", "(11), by NumPy", rtol=0, atol=1e-11 * length(b))
    assert_close(fit.residual, b - a @ expected, f"{call}.residual", "(11), by NumPy", rtol=0, atol=1e-11 * length(b))
    assert fit.rank == rank, f"{call}.rank is {fit.rank}, expected {rank}"


@pytest.mark.parametrize("name", HARD)
def test_least_squares_fit_leaves_a_residual_orthogonal_to_the_columns(name):
    a = HARD[name]
    b = random_vector(len(a))
    fit = quietly(least_squares_fit, a, b)
    unit, tolerance = a / np.abs(a).max(axis=0), 10 * a.size * EPS
    call = f"a' residual / |b| of least_squares_fit(a, b), {name}"
    expected = np.zeros(a.shape[1])
    assert_close(unit.T @ fit.residual / length(b), expected, call, "equation (11)", rtol=0, atol=tolerance)
    total = fit.fitted + fit.residual
    assert_close(total, b, f"fitted + residual, {name}", "b, by (11)", rtol=0, atol=tolerance * length(b))


@pytest.mark.parametrize("name", HARD)
def test_least_squares_fit_gives_coefficients_that_make_the_fitted_values(name):
    a = HARD[name]
    b = random_vector(len(a))
    fit = quietly(least_squares_fit, a, b)
    scales = np.abs(a).max(axis=0)
    weights = fit.coefficients * scales
    found = (a / scales) @ weights
    # A backward error: some m n eps times the sizes of the terms that are added.
    tolerance = 10 * a.size * EPS * max(length(b), float(np.abs(weights).sum()))
    call = f"a @ least_squares_fit(a, b).coefficients, {name}"
    assert_close(found, fit.fitted, call, "the fitted values, by (12)", rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", DEPENDENT)
def test_least_squares_fit_has_the_same_fitted_values_if_dependent_columns_are_added(name):
    a, b = random_columns(), random_vector()
    columns = DEPENDENT[name](a)
    fit = quietly(least_squares_fit, columns, b)
    call = f"least_squares_fit(dependent columns, b), {name}"
    expected, tolerance = true_projector(a) @ b, RTOL * length(b)
    assert fit.rank == 4, f"{call}: the rank is {fit.rank}, expected 4"
    assert_close(fit.fitted, expected, f"{call}.fitted", "(11) on the independent ones", rtol=0, atol=tolerance)
    found = columns @ fit.coefficients
    assert_close(found, expected, f"a @ {call}.coefficients", "the fitted values", rtol=0, atol=10 * tolerance)
    assert np.abs(fit.coefficients).max() < 1e3, f"{call}: a coefficient of {np.abs(fit.coefficients).max():.3g}"


@pytest.mark.parametrize("epsilon", [1e-5, 1e-7])
def test_least_squares_fit_keeps_the_digits_that_the_normal_equations_lose(epsilon):
    b = np.array([2.0, -1.0, 3.5, 0.25, 1.0])
    expected = true_projector(apart(4, epsilon)) @ b
    found = quietly(least_squares_fit, lauchli(4, epsilon), b).fitted
    tolerance = 100 * 2 / epsilon * EPS * length(b)  # the condition number of the columns, not its square
    call = f"least_squares_fit(lauchli(4, {epsilon:g}), b).fitted"
    assert_close(found, expected, call, "equation (11)", rtol=0, atol=tolerance)


def test_least_squares_fit_with_more_columns_than_rows_fits_all():
    a, b = random_columns(5, 9), random_vector(5)
    fit = least_squares_fit(a, b)
    call = "least_squares_fit(a, b) with a of shape (5, 9)"
    assert fit.coefficients.shape == (9,), f"{call}.coefficients has the shape {fit.coefficients.shape}, expected (9,)"
    assert_close(fit.fitted, b, f"{call}.fitted", "b: the columns span all", rtol=0, atol=RTOL * length(b))
    found = a @ fit.coefficients
    assert_close(found, b, f"a @ {call}.coefficients", "b: the columns span all", rtol=0, atol=RTOL * length(b))
    assert fit.rank == 5, f"{call}.rank is {fit.rank}, expected 5"


def test_least_squares_fit_with_columns_in_different_units_only_rescales_the_coefficients():
    a, b = random_columns(), random_vector()
    expected = least_squares_fit(a, b).coefficients / _UNITS
    fit = quietly(least_squares_fit, a * _UNITS, b)
    call = "least_squares_fit(columns in units from 1e-150 to 1e150, b)"
    assert_close(
        fit.coefficients, expected, f"{call}.coefficients", "those of units of 1, divided by the units", rtol=1e-9
    )
    assert fit.rank == 4, f"{call}.rank is {fit.rank}, expected 4"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_least_squares_fit_works_at_all_scales(scale):
    a = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0], [1.0, 6.0]])
    b = scale * np.array([1.25, 4.0, 2.5, 9.25])
    fit, expected = quietly(least_squares_fit, a, b), scale * np.array([4 / 3, 7 / 6])
    assert_close(fit.coefficients, expected, f"least_squares_fit(a, {scale:g} * b).coefficients", "(12)", rtol=RTOL)


def test_least_squares_fit_onto_nothing_leaves_everything():
    b = random_vector()
    fit = quietly(least_squares_fit, np.zeros((12, 3)), b)
    call = "least_squares_fit(zeros((12, 3)), b)"
    assert_close(fit.fitted, np.zeros(12), f"{call}.fitted", "equation (11)")
    assert_close(fit.residual, b, f"{call}.residual", "equation (11)", rtol=RTOL)
    assert fit.rank == 0, f"{call}.rank is {fit.rank}, expected 0"
    assert fit.coefficients.shape == (3,), f"{call}.coefficients has the shape {fit.coefficients.shape}, expected (3,)"


def test_least_squares_fit_of_float32_numbers_is_in_float32():
    a, b = random_columns().astype(np.float32), random_vector().astype(np.float32)
    fit = least_squares_fit(a, b)
    for name in ("coefficients", "fitted", "residual"):
        kind = getattr(fit, name).dtype
        assert kind == np.float32, f"least_squares_fit of float32 numbers: {name} is in {kind}"
    expected = true_projector(a.astype(float)) @ b
    tolerance = RTOL_32 * length(b)
    assert_close(fit.fitted, expected, "least_squares_fit(a, b).fitted in float32", "(11)", rtol=0, atol=tolerance)


def test_least_squares_fit_leaves_its_arguments_alone():
    unchanged(least_squares_fit, random_columns(), random_vector())


# What is given: the checks of the arguments


@pytest.mark.given
@pytest.mark.parametrize(
    "a", [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[-np.inf]]), [[1j]], [["a"]]]
)
def test_orthonormal_basis_and_others_refuse_what_is_no_matrix_of_finite_numbers(a):
    x, columns = np.ones(3), np.ones((3, 1))
    for call in (
        lambda: orthonormal_basis(a),
        lambda: project(x, a),
        lambda: projector(a),
        lambda: distance_to_subspace(x, a),
        lambda: reflect(x, a),
        lambda: smallest_angle(a, columns),
        lambda: least_squares_fit(a, x),
    ):
        with pytest.raises(ValueError, match="a must"):
            call()
    with pytest.raises(ValueError, match="b must"):
        smallest_angle(columns, a)
    with pytest.raises(ValueError, match="onto must"):
        oblique_projector(a, columns)
    with pytest.raises(ValueError, match="along must"):
        oblique_projector(columns, a)


@pytest.mark.given
@pytest.mark.parametrize(
    "x", [np.ones(2), np.array([]), np.ones((3, 1)), np.array([1.0, np.nan, 2.0]), ["a", "b", "c"]]
)
def test_project_and_others_refuse_what_is_no_vector_with_an_entry_for_each_row(x):
    a = np.ones((3, 2))
    for call in (lambda: project(x, a), lambda: distance_to_subspace(x, a), lambda: reflect(x, a)):
        with pytest.raises(ValueError, match="x must"):
            call()
    with pytest.raises(ValueError, match="origin must"):
        distance_to_subspace(np.ones(3), a, x)
    with pytest.raises(ValueError, match="b must"):
        least_squares_fit(a, x)


@pytest.mark.given
def test_smallest_angle_and_oblique_projector_refuse_columns_of_different_lengths():
    with pytest.raises(ValueError, match="b must"):
        smallest_angle(np.ones((3, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match="along must"):
        oblique_projector(np.ones((3, 1)), np.ones((2, 1)))


@pytest.mark.given
def test_smallest_angle_refuses_nothing_but_zeros():
    with pytest.raises(ValueError, match="a must"):
        smallest_angle(np.zeros((3, 2)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="b must"):
        smallest_angle(np.ones((3, 1)), np.zeros((3, 2)))


def test_project_and_the_others_take_whole_numbers():
    a, x = np.array([[4], [-3]], dtype=np.int8), np.array([100, -100], dtype=np.int8)
    expected = np.array([112.0, -84.0])
    assert_close(project(x, a), expected, "project([100, -100], [[4], [-3]]) of whole numbers", "(3)", rtol=RTOL)
