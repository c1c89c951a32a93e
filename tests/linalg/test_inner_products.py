"""Shared tests of linalg/inner_products: run on the reference, and on the learner's file.

The weights here have condition numbers below 100 unless a test says otherwise. A few thousand roundings of 1e-16 each,
magnified a hundredfold, stay below 1e-11; RTOL is that, and the float32 tolerance stands to 6e-8 as RTOL does to 1e-16.
"""

import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, lauchli, with_singular_values
from mlpath.linalg.inner_products import (
    angle,
    gram_matrix,
    inner_product,
    is_inner_product,
    orthogonal_projection,
    weight_root,
    weighted_norm,
)
from mlpath.testing import assert_close

RTOL = 1e-11
RTOL_32 = 2e-4
EPS = np.finfo(float).eps
PLANE = np.array([[3.0, 1.0], [1.0, 2.5]])  # a weight in the plane, with the determinant 6.5


def rng(seed=3):
    return np.random.default_rng(seed)


def random_weight(n=12, seed=4):
    """A weight with the eigenvalues 1 to 50, full, and with entries of both signs."""
    root = with_singular_values(np.sqrt(np.linspace(1, 50, n)), n_rows=n, rng=rng(seed))
    weight = root.T @ root
    return (weight + weight.T) / 2


def random_vectors(n_vectors=5, dim=12, seed=5):
    """Rows with entries of both signs around a mean that is not zero."""
    return rng(seed).normal(0.7, 2, (n_vectors, dim))


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


# inner_product


def test_inner_product_without_a_weight_is_the_dot_product():
    x, y = np.array([1.5, -2.0, 4.0]), np.array([3.0, 2.5, 0.5])
    assert_close(
        inner_product(x, y), 1.5, "inner_product([1.5, -2, 4], [3, 2.5, 0.5])", "equation (1), M = I", rtol=RTOL
    )


def test_inner_product_weights_every_pair_of_coordinates():
    x, y = np.array([2.0, 3.0]), np.array([-1.25, 4.0])
    # 3 * 2 * -1.25 + 1 * (2 * 4 + 3 * -1.25) + 2.5 * 3 * 4
    call = "inner_product([2, 3], [-1.25, 4], weight=[[3, 1], [1, 2.5]])"
    assert_close(inner_product(x, y, PLANE), 26.75, call, "equation (1)", rtol=RTOL)


def test_inner_product_is_the_double_sum_in_twelve_dimensions():
    x, y, weight = *random_vectors(2), random_weight()
    expected = sum(x[i] * weight[i, j] * y[j] for i in range(12) for j in range(12))
    call = "inner_product(x, y, weight) of 12 entries"
    assert_close(inner_product(x, y, weight), expected, call, "equation (1), term by term", rtol=RTOL)


def test_inner_product_is_symmetric_and_linear():
    x, y, z = random_vectors(3)
    weight = random_weight()
    assert_close(inner_product(y, x, weight), inner_product(x, y, weight), "inner_product(y, x, weight)", "symmetry")
    mixed = inner_product(2 * x - 3 * y, z, weight)
    expected = 2 * inner_product(x, z, weight) - 3 * inner_product(y, z, weight)
    assert_close(mixed, expected, "inner_product(2 x - 3 y, z, weight)", "linearity, by (1)", rtol=RTOL)


def test_inner_product_does_not_ask_for_a_definite_weight():
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    x = np.array([2.0, -3.0])
    assert_close(inner_product(x, x, swap), -12.0, "inner_product(x, x, weight=[[0, 1], [1, 0]])", "equation (1)")


def test_inner_product_leaves_its_arguments_alone():
    unchanged(inner_product, *random_vectors(2), random_weight())


# gram_matrix


def test_gram_matrix_holds_the_inner_products_of_all_pairs_of_rows():
    vectors = np.array([[2.0, 3.0], [-1.25, 4.0], [0.5, 1.0]])
    # Times the weight, the rows are (9, 9.5), (0.25, 8.75) and (2.5, 3).
    expected = np.array([[46.5, 26.75, 14.0], [26.75, 34.6875, 8.875], [14.0, 8.875, 4.25]])
    call = "gram_matrix([[2, 3], [-1.25, 4], [0.5, 1]], weight=[[3, 1], [1, 2.5]])"
    assert_close(gram_matrix(vectors, PLANE), expected, call, "equation (6)", rtol=RTOL)


def test_gram_matrix_without_a_weight_holds_dot_products():
    vectors = np.array([[1.5, -2.0, 4.0], [3.0, 2.5, 0.5]])
    expected = np.array([[22.25, 1.5], [1.5, 15.5]])
    call = "gram_matrix([[1.5, -2, 4], [3, 2.5, 0.5]])"
    assert_close(gram_matrix(vectors), expected, call, "equation (6), M = I", rtol=RTOL)


@pytest.mark.parametrize("n_vectors", [1, 5, 20])
def test_gram_matrix_has_an_entry_for_each_pair_however_many_vectors_there_are(n_vectors):
    vectors, weight = random_vectors(n_vectors), random_weight()
    expected = np.einsum("ia,ab,jb->ij", vectors, weight, vectors)
    call = f"gram_matrix of {n_vectors} vectors of 12 entries, with a weight"
    # Entries cancel: each is judged against the lengths of its two vectors.
    size = expected.diagonal().max()
    assert_close(gram_matrix(vectors, weight), expected, call, "equation (6), term by term", rtol=0, atol=RTOL * size)


def test_gram_matrix_is_symmetric_and_has_no_negative_eigenvalue():
    gram = gram_matrix(random_vectors(20), random_weight())  # 20 vectors in 12 dimensions: 8 eigenvalues are 0
    largest = np.abs(gram).max()
    assert_close(gram, gram.T, "gram_matrix(vectors, weight)", "its transpose, by (6)", rtol=0, atol=1e-13 * largest)
    least = np.linalg.eigvalsh(gram)[0]
    # An eigenvalue that is truly 0 is off by the rounding of the matrix, some 20 * 1e-16 of the largest entry.
    assert least > -1e-12 * largest, (
        f"gram_matrix(vectors, weight) has the eigenvalue {least:.3g}, expected none below 0"
    )


def test_gram_matrix_of_the_axes_is_the_weight():
    weight = random_weight()
    assert_close(gram_matrix(np.eye(12), weight), weight, "gram_matrix(np.eye(12), weight)", "equation (6)", rtol=RTOL)


def test_gram_matrix_of_float32_vectors_is_in_float32():
    vectors, weight = random_vectors().astype(np.float32), random_weight().astype(np.float32)
    for gram in (gram_matrix(vectors), gram_matrix(vectors, weight)):
        assert gram.dtype == np.float32, f"gram_matrix of float32 vectors and weight is in {gram.dtype}"


def test_gram_matrix_leaves_its_arguments_alone():
    unchanged(gram_matrix, random_vectors(), random_weight())


# is_inner_product


def equal_angles(n, least):
    """The matrix C of n axes with equal angles between any two, so small that `least` is its least eigenvalue."""
    return (1 - least) * np.ones((n, n)) + least * np.eye(n)


DEFINITE = {
    "the identity": np.eye(5),
    "a full weight": random_weight(),
    "negative entries": np.array([[2.0, -1.0], [-1.0, 2.0]]),
    "a single number": np.array([[0.3]]),
    "nearly dependent axes": np.array([[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]]),
    "40 axes, with the least eigenvalue 1000 n eps": equal_angles(40, 40_000 * EPS),
    "hilbert(7), of condition 5e8": hilbert(7, 7),
    "tiny entries": 1e-150 * random_weight(),
    "huge entries": 1e150 * random_weight(),
    "tinier entries": 1e-295 * random_weight(),
    "units from 1e-150 to 1e150": np.diag([1e-150, 1.0, 1e150]),
    "units from 1e-300 to 1e300": np.diag([1e-300, 1e300, 1.0]),
    "mixed units, not diagonal": random_weight(4) * np.outer([1e-9, 1.0, 1e8, 1e-3], [1e-9, 1.0, 1e8, 1e-3]),
    "symmetric but for rounding": np.array([[1.0, 0.3], [0.1 + 0.2, 1.0]]),
    "whole numbers": np.array([[2, 1], [1, 3]]),
    "float32": random_weight().astype(np.float32),
}
_LOW_RANK = random_vectors(12, 5)  # 12 vectors in 5 dimensions
INDEFINITE = {
    "positive entries, but eigenvalues of both signs": np.array([[1.0, 2.0], [2.0, 1.0]]),
    "one negative eigenvalue": np.diag([2.0, 1.0, -0.5]),
    "two negative eigenvalues, so that the determinant is positive": np.array(
        [[1.0, 2.0, 2.0], [2.0, 1.0, 2.0], [2.0, 2.0, 1.0]]
    ),
    "minus the identity": -np.eye(2),
    "no length for one axis": np.diag([1.0, 0.0, 2.0]),
    "no length for one axis, off the diagonal": np.array([[0.0, 1.0], [1.0, 3.0]]),
    "the zero matrix": np.zeros((3, 3)),
    "parallel axes": np.array([[0.01, 0.03], [0.03, 0.09]]),
    "parallel axes, but for a rounding": np.array([[1.0, 1.0], [1.0, 1 + 4 * EPS]]),
    "40 axes, with the least eigenvalue 2 n eps": equal_angles(40, 80 * EPS),
    "a Gram matrix of dependent vectors": _LOW_RANK @ _LOW_RANK.T,
    "a tiny Gram matrix of dependent vectors": 1e-150 * (_LOW_RANK @ _LOW_RANK.T),
    "a huge Gram matrix of dependent vectors": 1e150 * (_LOW_RANK @ _LOW_RANK.T),
    "a Gram matrix of dependent vectors in float32": (_LOW_RANK @ _LOW_RANK.T).astype(np.float32),
    "unsymmetric, though x'Mx is positive": np.array([[2.0, 1.0], [-1.0, 2.0]]),
    "unsymmetric, with a definite lower triangle": np.array([[2.0, 1.0], [0.4, 2.0]]),
    "unsymmetric, with a definite upper triangle": np.array([[2.0, 0.4, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]]),
    "tiny and unsymmetric": 1e-150 * np.array([[2.0, 1.0], [0.4, 2.0]]),
    "unsymmetric, beside an axis in huge units": np.array([[2.0, 1.0, 0.0], [0.4, 2.0, 0.0], [0.0, 0.0, 1e20]]),
    "more columns than rows": np.eye(3)[:2],
    "more rows than columns": np.eye(3)[:, :2],
    "entries far above the diagonal": np.array([[1e-300, 1e300], [1e300, 1e-300]]),
}


@pytest.mark.parametrize("name", DEFINITE)
def test_is_inner_product_accepts_every_symmetric_positive_definite_matrix(name):
    answer = quietly(is_inner_product, DEFINITE[name])
    told = f"is_inner_product(matrix), {name}, returned {answer!r}, expected True by the criterion (8)"
    assert answer is True or (isinstance(answer, np.bool_) and bool(answer)), told


@pytest.mark.parametrize("name", INDEFINITE)
def test_is_inner_product_rejects_all_others(name):
    answer = quietly(is_inner_product, INDEFINITE[name])
    told = f"is_inner_product(matrix), {name}, returned {answer!r}, expected False by the criterion (8)"
    assert answer is False or (isinstance(answer, np.bool_) and not answer), told


def test_is_inner_product_leaves_its_matrix_alone():
    unchanged(is_inner_product, random_weight())


# weight_root


def assert_root(weight, call):
    root = weight_root(weight)
    lengths = np.sqrt(weight.diagonal())
    assert root.shape == weight.shape, f"{call} returned the shape {root.shape}, expected {weight.shape}"
    # Cholesky's rounding is at most some n eps in these units (Higham, theorem 10.3); a hundred times that is allowed.
    tolerance = 100 * len(weight) * np.finfo(weight.dtype).eps
    scaled, expected = root.T @ root / lengths / lengths[:, None], weight / lengths / lengths[:, None]
    because = "M, by equation (9), both divided as in (7)"
    assert_close(scaled, expected, f"W'W of W = {call}", because, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["in the plane", "in 12 dimensions", "hilbert(7)", "a single number"])
def test_weight_root_gives_the_weight_back(name):
    weights = {"in the plane": PLANE, "in 12 dimensions": random_weight(), "hilbert(7)": hilbert(7, 7)}
    assert_root(weights.get(name, np.array([[2.25]])), f"weight_root(weight), {name}")


@pytest.mark.parametrize("scale", [1e-250, 1e-20, 1e20, 1e250])
def test_weight_root_works_at_all_scales(scale):
    assert_root(scale * PLANE, f"weight_root({scale:g} * weight)")


def test_weight_root_keeps_the_digits_of_coordinates_in_small_units():
    units = np.array([1e-90, 1e3, 1e100, 1.0])
    assert_root(random_weight(4) * units * units[:, None], "weight_root(weight in units from 1e-90 to 1e100)")


def test_weight_root_of_a_float32_weight_is_in_float32():
    weight = random_weight().astype(np.float32)
    assert weight_root(weight).dtype == np.float32, f"weight_root of float32 numbers is in {weight_root(weight).dtype}"
    assert_root(weight, "weight_root(weight in float32)")


def test_weight_root_leaves_its_weight_alone():
    unchanged(weight_root, random_weight())


# weighted_norm


def test_weighted_norm_is_the_root_of_the_inner_product_with_itself():
    x = np.array([2.0, 3.0])
    call = "weighted_norm([2, 3], weight=[[3, 1], [1, 2.5]])"
    assert_close(weighted_norm(x, PLANE), 46.5**0.5, call, "equation (2)", rtol=RTOL)


def test_weighted_norm_without_a_weight_is_the_euclidean_length():
    x = np.array([1.0, -4.0, 8.5])
    assert_close(weighted_norm(x), 89.25**0.5, "weighted_norm([1, -4, 8.5])", "equation (2), M = I", rtol=RTOL)


def test_weighted_norm_is_right_in_twelve_dimensions():
    weight = random_weight()
    for x in random_vectors():
        expected = np.sqrt(x @ weight @ x)
        assert_close(weighted_norm(x, weight), expected, "weighted_norm(x, weight)", "equation (2)", rtol=RTOL)


def test_weighted_norm_with_the_inverse_covariance_is_the_mahalanobis_distance():
    samples = rng().normal(size=(50, 3)) @ np.array([[2.0, 0.0, 0.0], [1.0, 3.0, 0.0], [-1.0, 0.5, 1.0]])
    mean, covariance = samples.mean(axis=0), np.cov(samples.T)
    inverse = np.linalg.inv(covariance)
    x = np.array([1.0, 2.0, -3.0])
    expected = np.sqrt((x - mean) @ np.linalg.solve(covariance, x - mean))
    distance = weighted_norm(x - mean, (inverse + inverse.T) / 2)
    assert_close(distance, expected, "weighted_norm(x - mean, inverse covariance)", "Mahalanobis", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1e150, 1e200])
def test_weighted_norm_survives_squares_that_overflow_or_vanish(scale):
    x = np.array([2.0, 3.0])
    length = quietly(weighted_norm, scale * x)
    assert_close(length, scale * 13**0.5, f"weighted_norm({scale:g} * [2, 3])", "equation (2), M = I", rtol=RTOL)
    length = quietly(weighted_norm, scale * x, PLANE)
    call = f"weighted_norm({scale:g} * [2, 3], weight=[[3, 1], [1, 2.5]])"
    assert_close(length, scale * 46.5**0.5, call, "equation (2)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-250, 1e-150, 1e150, 1e250])
def test_weighted_norm_works_for_weights_at_all_scales(scale):
    x = np.array([2.0, 3.0]) / scale**0.5
    call = f"weighted_norm(x / sqrt({scale:g}), {scale:g} * weight)"
    assert_close(quietly(weighted_norm, x, scale * PLANE), 46.5**0.5, call, "equation (2)", rtol=RTOL)


def test_weighted_norm_of_a_coordinate_in_small_units_is_not_lost():
    units = np.array([1e-9, 1.0, 1e8, 1e-3])
    weight = random_weight(4)
    graded = weight * units * units[:, None]
    for i, axis in enumerate(np.eye(4)):
        call = f"weighted_norm(axis {i}, weight in units from 1e-9 to 1e8)"
        expected = np.sqrt(weight[i, i]) * units[i]
        assert_close(weighted_norm(axis, graded), expected, call, "equation (2): the root of M_ii", rtol=RTOL)


def test_weighted_norm_is_not_nan_where_the_weight_nearly_vanishes():
    # The least eigenvalue is 1e-10 of the largest; x'Mx along its eigenvector may round to anything around 1e-16.
    weight = hilbert(8, 8)
    x = np.linalg.eigh(weight)[1][:, 0]
    length = quietly(weighted_norm, x, weight)
    # (2) squared has an error of some n eps times the largest eigenvalue 1.7: 1e-14 allows ten times that.
    expected = np.linalg.eigvalsh(weight)[0]
    assert_close(length**2, expected, "the square of weighted_norm(x, hilbert(8))", "equation (2)", rtol=0, atol=1e-14)


@pytest.mark.parametrize("weight", [None, random_weight()], ids=["no weight", "a weight"])
def test_weighted_norm_of_the_zero_vector_is_zero(weight):
    assert_close(quietly(weighted_norm, np.zeros(12), weight), 0.0, "weighted_norm(zeros(12))", "equation (2)")


def test_weighted_norm_obeys_cauchy_schwarz_polarisation_and_the_parallelogram_law():
    weight = random_weight()
    x, y = random_vectors(2)
    inner, of_x, of_y = x @ weight @ y, weighted_norm(x, weight), weighted_norm(y, weight)
    total, difference = weighted_norm(x + y, weight), weighted_norm(x - y, weight)
    assert abs(inner) <= of_x * of_y, (
        f"|<x, y>| is {abs(inner):.6g}, more than the lengths allow by (3): {of_x * of_y:.6g}"
    )
    polarised = total**2 - difference**2
    assert_close(polarised, 4 * inner, "|x + y|^2 - |x - y|^2 by weighted_norm", "equation (5)", rtol=1e-10)
    halves = 2 * of_x**2 + 2 * of_y**2
    assert_close(total**2 + difference**2, halves, "|x + y|^2 + |x - y|^2 by weighted_norm", "equation (5)", rtol=RTOL)


def test_weighted_norm_works_on_float32_within_its_precision():
    x, weight = random_vectors(1)[0].astype(np.float32), random_weight().astype(np.float32)
    expected = np.sqrt(x.astype(float) @ weight.astype(float) @ x.astype(float))
    call = "weighted_norm(x, weight) of float32 numbers"
    assert_close(
        weighted_norm(x, weight), expected, call, "equation (2)", rtol=RTOL_32, tolerance="float32 has 7 digits"
    )


def test_weighted_norm_leaves_its_arguments_alone():
    unchanged(weighted_norm, random_vectors(1)[0], random_weight())


# angle


def test_angle_without_a_weight_is_the_ordinary_one():
    x, y = np.array([2.0, 3.0]), np.array([-1.25, 4.0])
    expected = np.arctan2(2 * 4 + 3 * 1.25, -2 * 1.25 + 3 * 4)
    assert_close(angle(x, y), expected, "angle([2, 3], [-1.25, 4])", "equation (4), M = I", rtol=RTOL)


def test_angle_changes_with_the_weight():
    x, y = np.array([2.0, 3.0]), np.array([-1.25, 4.0])
    expected = np.arccos(26.75 / np.sqrt(46.5 * 34.6875))
    call = "angle([2, 3], [-1.25, 4], weight=[[3, 1], [1, 2.5]])"
    assert_close(angle(x, y, PLANE), expected, call, "equation (4)", rtol=RTOL)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [([1.0, 2.0], [3.0, 6.0], 0.0), ([1.0, 2.0], [-0.5, -1.0], np.pi), ([3.0, 1.0], [-1.0, 3.0], np.pi / 2)],
)
def test_angle_is_0_for_the_same_direction_and_pi_for_the_opposite(x, y, expected):
    found = quietly(angle, np.array(x), np.array(y))
    assert_close(found, expected, f"angle({x}, {y})", "equation (4)", rtol=0, atol=1e-15)


@pytest.mark.parametrize("weight", [None, random_weight()], ids=["no weight", "a weight"])
def test_angle_is_the_arc_cosine_of_equation_4_in_twelve_dimensions(weight):
    x, *others = random_vectors(8)
    matrix = np.eye(12) if weight is None else weight
    for y in (*others, *(-y for y in others)):
        expected = np.arccos(x @ matrix @ y / np.sqrt((x @ matrix @ x) * (y @ matrix @ y)))
        assert_close(angle(x, y, weight), expected, "angle(x, y, weight) of 12 entries", "equation (4)", rtol=1e-10)


@pytest.mark.parametrize("theta", [1e-3, 1e-7, 1e-9, 1e-12])
def test_angle_keeps_the_digits_of_small_angles_and_of_those_near_pi(theta):
    for weight in (None, PLANE):
        x, y = np.array([1.7, 0.0]), np.array([0.6, 0.6 * theta])
        matrix = np.eye(2) if weight is None else weight
        # In the plane the sine of the angle is the area between the vectors, times the root of the determinant.
        sine, cosine = np.sqrt(np.linalg.det(matrix)) * 1.7 * 0.6 * theta, x @ matrix @ y
        expected, named = np.arctan2(sine, cosine), "" if weight is None else ", weight=[[3, 1], [1, 2.5]]"
        call = f"angle([1.7, 0], [0.6, {0.6 * theta:g}]{named})"
        # Some roundings of 1 are 1e-15; an arc cosine would be off by 1e-8.
        found = quietly(angle, x, y, weight)
        assert_close(found, expected, call, "equation (10)", rtol=0, atol=5e-15)
        found = quietly(angle, x, -y, weight)
        call = f"angle([1.7, 0], -[0.6, {0.6 * theta:g}]{named})"
        assert_close(np.pi - found, expected, f"pi - {call}", "equation (10)", rtol=0, atol=5e-15)


def test_angle_is_a_number_for_all_multiples_of_a_vector():
    for x in random_vectors(20, dim=7):
        found = quietly(angle, x, 3.3 * x), quietly(angle, x, -0.7 * x)
        # By rounding, (4) may exceed 1: its arc cosine is nan.
        assert_close(found, (0.0, np.pi), "angle(x, 3.3 x), angle(x, -0.7 x)", "equation (10)", rtol=0, atol=1e-14)


@pytest.mark.parametrize("scales", [(1e-150, 1e-150), (1e150, 1e150), (1e-150, 1e150), (1e200, 1e-200)])
def test_angle_does_not_depend_on_how_long_the_vectors_are(scales):
    x, y = np.array([2.0, 3.0]), np.array([-1.25, 4.0])
    for weight in (None, PLANE):
        found = quietly(angle, scales[0] * x, scales[1] * y, weight)
        sine = 11.75 if weight is None else 11.75 * 6.5**0.5
        expected = np.arctan2(sine, 9.5 if weight is None else 26.75)
        call = f"angle({scales[0]:g} * x, {scales[1]:g} * y{'' if weight is None else ', weight'})"
        assert_close(found, expected, call, "equation (10)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_angle_does_not_depend_on_the_scale_of_the_weight(scale):
    x, y = np.array([2.0, 3.0]), np.array([-1.25, 4.0])
    found = quietly(angle, x, y, scale * PLANE)
    expected = np.arctan2(11.75 * 6.5**0.5, 26.75)
    assert_close(found, expected, f"angle(x, y, {scale:g} * weight)", "equation (10)", rtol=RTOL)


def test_angle_works_on_float32_within_its_precision():
    x, y = random_vectors(2).astype(np.float32)
    weight = random_weight().astype(np.float32)
    expected = angle(x.astype(float), y.astype(float), weight.astype(float))
    call = "angle(x, y, weight) of float32 numbers"
    assert_close(angle(x, y, weight), expected, call, "equation (10)", rtol=RTOL_32, tolerance="float32 has 7 digits")


def test_angle_leaves_its_arguments_alone():
    unchanged(angle, *random_vectors(2))
    unchanged(angle, *random_vectors(2), random_weight())


# orthogonal_projection


def test_orthogonal_projection_onto_a_line_without_a_weight():
    x, line = np.array([2.0, 3.5]), np.array([[4.0, -3.0]])
    call = "orthogonal_projection([2, 3.5], [[4, -3]])"
    # The coefficient is -2.5 / 25.
    assert_close(orthogonal_projection(x, line), np.array([-0.4, 0.3]), call, "equation (12), M = I", rtol=RTOL)


def test_orthogonal_projection_onto_a_line_under_a_weight():
    x, line = np.array([-1.25, 4.0]), np.array([[2.0, 3.0]])
    call = "orthogonal_projection([-1.25, 4], [[2, 3]], weight=[[3, 1], [1, 2.5]])"
    expected = 26.75 / 46.5 * line[0]
    assert_close(orthogonal_projection(x, line, PLANE), expected, call, "equation (12)", rtol=RTOL)


def test_orthogonal_projection_onto_two_vectors_that_are_not_orthogonal():
    x, spanning = np.array([2.0, -1.0, 5.5]), np.array([[1.0, 2.0, 0.0], [3.0, 0.0, -1.0]])
    # The normal of this plane is (-2, 1, -6), which x meets with -38 of 41 squared.
    expected = x - np.array([-2.0, 1.0, -6.0]) * -38 / 41
    call = "orthogonal_projection([2, -1, 5.5], [[1, 2, 0], [3, 0, -1]])"
    assert_close(orthogonal_projection(x, spanning), expected, call, "equation (12), M = I", rtol=RTOL)


@pytest.mark.parametrize("weight", [None, random_weight()], ids=["no weight", "a weight"])
@pytest.mark.parametrize("n_vectors", [1, 4, 11])
def test_orthogonal_projection_solves_the_normal_equations(n_vectors, weight):
    spanning, x = random_vectors(n_vectors), random_vectors(1, seed=6)[0]
    matrix = np.eye(12) if weight is None else weight
    coefficients = np.linalg.solve(spanning @ matrix @ spanning.T, spanning @ matrix @ x)
    call = f"orthogonal_projection(x, {n_vectors} vectors of 12 entries{'' if weight is None else ', weight'})"
    because = "the normal equations after (11), which are harmless here"
    found = orthogonal_projection(x, spanning, weight)
    # The spanning vectors' condition number is below 100, which counts twice in the expected value.
    assert_close(found, coefficients @ spanning, call, because, rtol=0, atol=1e-10 * np.linalg.norm(x))


@pytest.mark.parametrize("weight", [None, random_weight()], ids=["no weight", "a weight"])
def test_orthogonal_projection_leaves_a_residual_orthogonal_to_the_subspace(weight):
    spanning, x = random_vectors(6), random_vectors(1, seed=7)[0]
    matrix = np.eye(12) if weight is None else weight
    residual = x - orthogonal_projection(x, spanning, weight)
    sizes = np.sqrt(np.einsum("ia,ab,ib->i", spanning, matrix, spanning) * (x @ matrix @ x))
    call = f"<b_i, x - p> / |b_i| |x| of p = orthogonal_projection(x, b{'' if weight is None else ', weight'})"
    assert_close(spanning @ matrix @ residual / sizes, np.zeros(6), call, "equation (11)", rtol=0, atol=1e-12)


def test_orthogonal_projection_is_nearer_than_other_points_by_pythagoras():
    spanning, weight, x = random_vectors(4), random_weight(), random_vectors(1, seed=8)[0]
    projection = orthogonal_projection(x, spanning, weight)
    for step in rng().normal(size=(5, 4)) @ spanning:
        residual = x - projection
        expected = residual @ weight @ residual + step @ weight @ step
        found = (residual - step) @ weight @ (residual - step)
        assert_close(found, expected, "|x - p - d|^2 for d in the subspace", "Pythagoras, after (11)", rtol=1e-10)


def test_orthogonal_projection_leaves_what_is_in_the_subspace_where_it_is():
    spanning, weight = random_vectors(4), random_weight()
    x = np.array([1.5, -2.0, 0.5, 3.0]) @ spanning
    for matrix in (None, weight):
        found = orthogonal_projection(x, spanning, matrix)
        assert_close(
            found, x, "orthogonal_projection(x in the subspace)", "equation (12)", rtol=0, atol=1e-11 * abs(x).max()
        )


@pytest.mark.parametrize("epsilon", [1e-5, 1e-7])
def test_orthogonal_projection_copes_with_vectors_that_are_nearly_parallel(epsilon):
    spanning, x = lauchli(4, epsilon).T, np.array([2.0, -1.0, 3.5, 0.25, 1.0])
    # Their differences are multiples of those of the axes, and their mean is the fourth vector of the same subspace.
    basis = np.array([[0, 1.0, -1, 0, 0], [0, 1, 1, -2, 0], [0, 1, 1, 1, -3], [1, *4 * [epsilon / 4]]])
    basis /= np.linalg.norm(basis, axis=1)[:, None]
    expected = basis.T @ (basis @ x)
    call = f"orthogonal_projection(x, lauchli(4, {epsilon:g}).T)"
    # The condition number of the vectors is 2 / epsilon. A right method loses that factor, the normal equations its square.
    tolerance = 100 * 2 / epsilon * EPS
    assert_close(quietly(orthogonal_projection, x, spanning), expected, call, "equation (12)", rtol=0, atol=tolerance)


DEPENDENT = {
    "one of them twice": lambda b: np.vstack([b, b[1]]),
    "a multiple of another": lambda b: np.vstack([b[0], b[1], -0.37 * b[0], b[2]]),
    "a sum of two others": lambda b: np.vstack([b[0] + b[2], b]),
    "a row of zeros": lambda b: np.vstack([b[:1], np.zeros(12), b[1:]]),
    "20 mixtures": lambda b: rng().normal(size=(20, 3)) @ b,
}


@pytest.mark.parametrize("weight", [None, random_weight()], ids=["no weight", "a weight"])
@pytest.mark.parametrize("name", DEPENDENT)
def test_orthogonal_projection_takes_dependent_vectors_for_the_subspace_they_span(name, weight):
    independent, x = random_vectors(3), random_vectors(1, seed=9)[0]
    matrix = np.eye(12) if weight is None else weight
    expected = np.linalg.solve(independent @ matrix @ independent.T, independent @ matrix @ x) @ independent
    found = quietly(orthogonal_projection, x, DEPENDENT[name](independent), weight)
    call = f"orthogonal_projection(x, dependent vectors{'' if weight is None else ', weight'}), {name}"
    assert_close(found, expected, call, "equation (12) on the independent ones", rtol=0, atol=1e-10 * np.linalg.norm(x))


def test_orthogonal_projection_onto_the_zero_vector_is_zero():
    for spanning in (np.zeros((1, 2)), np.zeros((3, 2))):
        found = quietly(orthogonal_projection, np.array([1.5, 2.0]), spanning, PLANE)
        assert_close(found, np.zeros(2), f"orthogonal_projection(x, zeros({spanning.shape}))", "equation (12)")


def test_orthogonal_projection_onto_the_whole_space_is_the_vector_itself():
    x = random_vectors(1)[0]
    for weight in (None, random_weight()):
        found = orthogonal_projection(x, random_vectors(30, seed=10), weight)
        assert_close(found, x, "orthogonal_projection(x, 30 vectors of 12 entries)", "equation (12)", rtol=1e-10)


def test_orthogonal_projection_does_not_care_how_long_the_spanning_vectors_are():
    spanning, x = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, -1.0]]), np.array([2.0, -1.0, 5.5])
    weight = np.array([[3.0, 1.0, 0.0], [1.0, 2.5, -0.5], [0.0, -0.5, 2.0]])
    for matrix in (None, weight):
        expected = orthogonal_projection(x, spanning, matrix)
        for scales in ([-1e-150, 1e150], [1e150, -1e-150], [1e-200, 1e-200], [-1e200, 1e200]):
            found = quietly(orthogonal_projection, x, np.array(scales)[:, None] * spanning, matrix)
            call = f"orthogonal_projection(x, [{scales[0]:g} * b_1, {scales[1]:g} * b_2]{'' if matrix is None else ', weight'})"
            assert_close(found, expected, call, "the one onto b_1 and b_2", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_orthogonal_projection_works_at_all_scales(scale):
    x, line = np.array([-1.25, 4.0]), np.array([[2.0, 3.0]])
    expected = 26.75 / 46.5 * line[0]
    found = quietly(orthogonal_projection, scale * x, line, PLANE)
    call = f"orthogonal_projection({scale:g} * x, line, weight)"
    assert_close(found, scale * expected, call, "equation (12)", rtol=RTOL)
    found = quietly(orthogonal_projection, x, line, scale * PLANE)
    call = f"orthogonal_projection(x, line, {scale:g} * weight)"
    assert_close(found, expected, call, "equation (12)", rtol=RTOL)


def test_orthogonal_projection_works_with_mixed_units():
    units = np.array([1e-6, 1.0, 1e6])
    weight = np.array([[3.0, 1.0, 0.0], [1.0, 2.5, -0.5], [0.0, -0.5, 2.0]])
    spanning, x = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, -1.0]]), np.array([2.0, -1.0, 5.5])
    expected = orthogonal_projection(x, spanning, weight) / units
    found = orthogonal_projection(x / units, spanning / units, weight * units * units[:, None])
    call = "orthogonal_projection(x, spanning, weight) in units of 1e-6, 1 and 1e6"
    assert_close(found, expected, call, "the same in units of 1", rtol=RTOL)


def test_orthogonal_projection_of_float32_numbers_is_in_float32():
    spanning, x = random_vectors(3).astype(np.float32), random_vectors(1, seed=9)[0].astype(np.float32)
    # The last vector depends on the others to the digits of a float32, which those of a float64 would tell apart.
    spanning = np.vstack([spanning, spanning[0] / 3 + spanning[1] / 7])
    weight = random_weight().astype(np.float32)
    for matrix in (None, weight):
        found = orthogonal_projection(x, spanning, matrix)
        metric = np.eye(12) if matrix is None else matrix.astype(float)
        rows = spanning[:3].astype(float)
        expected = np.linalg.solve(rows @ metric @ rows.T, rows @ metric @ x) @ rows
        assert found.dtype == np.float32, f"orthogonal_projection of float32 numbers is in {found.dtype}"
        tolerance = RTOL_32 * np.linalg.norm(x)
        assert_close(found, expected, "orthogonal_projection in float32", "equation (12)", rtol=0, atol=tolerance)


def test_orthogonal_projection_leaves_its_arguments_alone():
    unchanged(orthogonal_projection, random_vectors(1)[0], random_vectors(4))
    unchanged(orthogonal_projection, random_vectors(1)[0], random_vectors(4), random_weight())


# What is given: the checks of the arguments

WITH_A_WEIGHT = {
    "inner_product": lambda weight: inner_product(np.ones(2), np.ones(2), weight),
    "gram_matrix": lambda weight: gram_matrix(np.ones((3, 2)), weight),
    "weighted_norm": lambda weight: weighted_norm(np.ones(2), weight),
    "angle": lambda weight: angle(np.ones(2), np.ones(2), weight),
    "orthogonal_projection": lambda weight: orthogonal_projection(np.ones(2), np.ones((1, 2)), weight),
}


@pytest.mark.given
@pytest.mark.parametrize("x", [np.array([]), np.ones((2, 2)), np.array([1.0, np.nan]), np.array([np.inf]), [1j], ["a"]])
def test_inner_product_and_others_refuse_what_is_no_vector_of_finite_numbers(x):
    with pytest.raises(ValueError, match="x must"):
        inner_product(x, np.ones(2))
    with pytest.raises(ValueError, match="y must"):
        inner_product(np.ones(2), x)
    with pytest.raises(ValueError, match="x must"):
        weighted_norm(x)
    with pytest.raises(ValueError, match="x must"):
        angle(x, np.ones(2))
    with pytest.raises(ValueError, match="y must"):
        angle(np.ones(2), x)
    with pytest.raises(ValueError, match="x must"):
        orthogonal_projection(x, np.ones((1, 2)))


@pytest.mark.given
def test_inner_product_and_others_refuse_lengths_that_do_not_match():
    with pytest.raises(ValueError, match="y must"):
        inner_product(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="y must"):
        angle(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="spanning must"):
        orthogonal_projection(np.ones(3), np.ones((3, 2)))


@pytest.mark.given
@pytest.mark.parametrize("call", WITH_A_WEIGHT.values(), ids=WITH_A_WEIGHT)
@pytest.mark.parametrize(
    "weight",
    [np.eye(3), np.ones((2, 3)), np.ones(2), np.array([[1.0, np.nan], [0, 1]]), np.array([[2.0, 1.0], [0.5, 2.0]])],
    ids=["size", "rectangular", "vector", "nan", "unsymmetric"],
)
def test_inner_product_and_others_refuse_a_weight_that_is_not_symmetric_or_does_not_fit(call, weight):
    with pytest.raises(ValueError, match="weight must"):
        call(weight)


@pytest.mark.given
@pytest.mark.parametrize("a", [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[-np.inf]]), [[1j]]])
def test_gram_matrix_and_others_refuse_what_is_no_matrix_of_finite_numbers(a):
    with pytest.raises(ValueError, match="vectors must"):
        gram_matrix(a)
    with pytest.raises(ValueError, match="matrix must"):
        is_inner_product(a)
    with pytest.raises(ValueError, match="weight must"):
        weight_root(a)
    with pytest.raises(ValueError, match="spanning must"):
        orthogonal_projection(np.ones(3), a)


@pytest.mark.parametrize("weight", [np.diag([1.0, -1.0]), np.ones((2, 2)), np.zeros((2, 2))], ids=str)
def test_weighted_norm_refuses_a_weight_that_is_not_positive_definite(weight):
    with pytest.raises(ValueError, match="weight must"):
        WITH_A_WEIGHT["weighted_norm"](weight)


@pytest.mark.parametrize("weight", [np.diag([1.0, -1.0]), np.ones((2, 2)), np.zeros((2, 2))], ids=str)
def test_angle_refuses_a_weight_that_is_not_positive_definite(weight):
    with pytest.raises(ValueError, match="weight must"):
        WITH_A_WEIGHT["angle"](weight)


@pytest.mark.parametrize("weight", [np.diag([1.0, -1.0]), np.ones((2, 2)), np.zeros((2, 2))], ids=str)
def test_orthogonal_projection_refuses_a_weight_that_is_not_positive_definite(weight):
    with pytest.raises(ValueError, match="weight must"):
        WITH_A_WEIGHT["orthogonal_projection"](weight)


@pytest.mark.parametrize(
    "weight", [np.diag([1.0, -1.0]), np.ones((2, 2)), np.array([[2.0, 1.0], [-1.0, 2.0]])], ids=str
)
def test_weight_root_refuses_what_is_no_inner_product(weight):
    with pytest.raises(ValueError, match="weight must"):
        weight_root(weight)


@pytest.mark.given
def test_angle_refuses_the_zero_vector():
    with pytest.raises(ValueError, match="x must"):
        angle(np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="y must"):
        angle(np.ones(2), np.zeros(2), PLANE)


def test_inner_product_and_the_others_take_whole_numbers():
    x, y, weight = np.array([100, -128], dtype=np.int8), np.array([90, 3], dtype=np.int8), np.array([[3, 1], [1, 2]])
    calls = {
        "inner_product(x, y)": (lambda *a: inner_product(*a[:2]), 8616.0),
        "inner_product(x, y, weight)": (inner_product, 15012.0),
    }
    for call, (function, expected) in calls.items():
        assert_close(function(x, y, weight), expected, f"{call} of whole numbers", "equation (1)", rtol=RTOL)
