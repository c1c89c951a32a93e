"""Shared tests of calculus/vector_calculus/derivatives: run on the reference, and on the learner's file.

Formulas of second order are exact for parabolas, whatever the step is, so that they leave nothing but rounding there: values
of size 10 over a step of 0.1 squared leave some 1e-13, and the tolerance is a thousand times that. Elsewhere a tolerance is the next term of
the Taylor series, with a margin of at least two, or the order of the error is measured.
"""

import numpy as np
import pytest

from mlpath.calculus.vector_calculus.derivatives import (
    curl,
    divergence,
    grid_curl,
    grid_divergence,
    grid_laplacian,
    grid_partial,
    jacobians,
    laplacian,
)
from mlpath.testing import assert_close

EXACT = {"rtol": 1e-10, "atol": 1e-10, "tolerance": "the formula is exact here: only rounding is left"}
POINTS = np.array([[0.7, -1.2, 0.4], [2.1, 0.3, -0.9], [-1.6, 0.8, 1.5], [0.2, 0.5, 2.3]])


def swirl(x):
    """A field of which no entry of the Jacobian vanishes, and none is another's."""
    a, b, c = x.T
    return np.stack([np.sin(a) * b + c**2, a * c - np.exp(0.5 * b), b * c + 0.3 * a**2 * c], axis=1)


def swirl_jacobians(x):
    a, b, c = x.T
    rows = [
        [np.cos(a) * b, np.sin(a), 2 * c],
        [c, -0.5 * np.exp(0.5 * b), a],
        [0.6 * a * c, c, b + 0.3 * a**2],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


# jacobians


def test_jacobians_have_a_row_for_each_component():
    field = lambda x: np.stack([3.5 * x[:, 0] - 1.2 * x[:, 1], 0.4 * x[:, 0] + 2.7 * x[:, 1]], axis=1)  # noqa: E731
    got = jacobians(field, np.array([[0.3, 0.8], [1.9, -0.5], [2.2, 2.4]]), step=0.1)
    expected = [[[3.5, -1.2], [0.4, 2.7]]] * 3
    assert_close(got, expected, "jacobians(a linear field, 3 points, step=0.1)", "its matrix at each, (1)", **EXACT)


def test_jacobians_of_a_parabola_are_exact_for_any_step():
    field = lambda x: np.stack([x[:, 0] * x[:, 1], x[:, 1] ** 2, x[:, 0] * x[:, 2]], axis=1)  # noqa: E731
    a, b, c = POINTS.T
    zero = 0 * a
    expected = np.moveaxis(np.array([[b, a, zero], [zero, 2 * b, zero], [c, zero, a]]), -1, 0)
    assert_close(jacobians(field, POINTS, step=0.5), expected, "jacobians(parabolas, step=0.5)", "(1)", **EXACT)


def test_jacobians_of_a_field():
    got = jacobians(swirl, POINTS)
    why = "equation (1): h^2 and eps / h are both near 1e-10"
    assert_close(got, swirl_jacobians(POINTS), "jacobians(field, points)", why, rtol=1e-8, atol=1e-8)


def test_jacobians_evaluate_all_points_at_once():
    calls = []
    jacobians(lambda x: calls.append(x.shape) or swirl(x), POINTS)
    assert len(calls) <= 6, (
        f"jacobians evaluated the field {len(calls)} times for 3 axes, expected 6 for all points together"
    )


def test_jacobians_leave_the_points_alone():
    points = POINTS.copy()
    jacobians(swirl, points)
    assert np.array_equal(points, POINTS), "jacobians changed the points"


def test_jacobians_refuse_a_bad_field():
    with pytest.raises(ValueError, match="field must return"):
        jacobians(lambda x: x[:, :2], POINTS)
    with pytest.raises(ValueError, match="field must be finite"):
        jacobians(lambda x: np.full_like(x, np.nan), POINTS)


@pytest.mark.given
def test_jacobians_refuse():
    with pytest.raises(ValueError, match="points must"):
        jacobians(swirl, POINTS[0])
    with pytest.raises(ValueError, match="points must"):
        jacobians(swirl, POINTS * np.nan)
    for step in (0.0, -1.0, np.inf):
        with pytest.raises(ValueError, match="step must"):
            jacobians(swirl, POINTS, step=step)


# divergence


def test_divergence_is_the_sum_of_the_diagonal():
    jacobian = np.array([[2.3, 9.1, -4.4], [1.7, -0.8, 6.2], [3.9, 5.5, 4.1]])
    assert_close(divergence(jacobian), 5.6, "divergence(a Jacobian)", "equation (2)", **EXACT)


@pytest.mark.parametrize("shape", [(5, 4, 4), (2, 3, 7, 7), (1, 1)])
def test_divergence_takes_any_number_of_jacobians(shape):
    jacobian = np.random.default_rng(0).normal(size=shape)
    expected = np.einsum("...ii->...", jacobian)
    got = divergence(jacobian)
    assert_close(got, expected, f"divergence of Jacobians of the shape {shape}", "equation (2) for each", **EXACT)


@pytest.mark.given
@pytest.mark.parametrize("jacobian", [np.ones((4, 2, 3)), np.ones(3), np.full((3, 3), np.nan)])
def test_divergence_refuses(jacobian):
    with pytest.raises(ValueError, match="jacobian must"):
        divergence(jacobian)


# curl


def test_curl_in_the_plane_is_a_number():
    got = curl(np.array([[2.3, 9.1], [1.7, -0.8]]))
    assert_close(got, 1.7 - 9.1, "curl([[2.3, 9.1], [1.7, -0.8]])", "the last component of (3)", **EXACT)


def test_curl_in_space_is_a_vector():
    jacobian = np.array([[2.3, 9.1, -4.4], [1.7, -0.8, 6.2], [3.9, 5.5, 4.1]])
    expected = [5.5 - 6.2, -4.4 - 3.9, 1.7 - 9.1]
    assert_close(curl(jacobian), expected, "curl(a Jacobian)", "equation (3)", **EXACT)


@pytest.mark.parametrize("shape", [(5, 2, 2), (5, 3, 3), (2, 4, 3, 3), (3, 3, 2, 2)])
def test_curl_takes_any_number_of_jacobians(shape):
    jacobian = np.random.default_rng(0).normal(size=shape)
    each = [curl(j) for j in jacobian.reshape(-1, *shape[-2:])]
    expected = np.reshape(each, shape[:-2] if shape[-1] == 2 else shape[:-1])
    assert_close(curl(jacobian), expected, f"curl of Jacobians of the shape {shape}", "that of each of them", **EXACT)


def test_curl_of_a_gradient_vanishes_and_that_of_a_rotation_is_twice_its_speed():
    symmetric = np.array([[2.3, 0.7, -1.1], [0.7, 0.4, 0.9], [-1.1, 0.9, 3.2]])
    assert_close(curl(symmetric), np.zeros(3), "curl of a symmetric Jacobian", "0: gradients do not turn", **EXACT)
    axis = np.array([0.3, -1.2, 0.8])
    rotation = np.cross(axis, np.eye(3)).T  # the Jacobian of x -> axis x x
    assert_close(curl(rotation), 2 * axis, "curl of a rotation about an axis", "twice the axis", **EXACT)


@pytest.mark.given
@pytest.mark.parametrize("jacobian", [np.ones((4, 4)), np.ones((2, 3)), np.full((2, 2), np.inf)])
def test_curl_refuses(jacobian):
    with pytest.raises(ValueError, match="jacobian must"):
        curl(jacobian)


# laplacian


def test_laplacian_of_a_parabola_is_exact_for_any_step():
    f = lambda x: 1.7 * x[:, 0] ** 2 - 0.4 * x[:, 1] ** 2 + 2.6 * x[:, 2] ** 2 + 5 * x[:, 0] * x[:, 1] + x[:, 2] + 3  # noqa: E731
    got = laplacian(f, POINTS, step=0.5)
    assert_close(got, [2 * 3.9] * 4, "laplacian(a parabola, step=0.5)", "2 (1.7 - 0.4 + 2.6), equation (4)", **EXACT)


def test_laplacian_of_a_function():
    f = lambda x: np.sin(x[:, 0]) * np.exp(0.5 * x[:, 1]) + x[:, 2] ** 3  # noqa: E731
    a, b, c = POINTS.T
    expected = -0.75 * np.sin(a) * np.exp(0.5 * b) + 6 * c
    why = "equation (4): eps / h^2 is near 1e-7"
    assert_close(laplacian(f, POINTS), expected, "laplacian(f, points)", why, atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 6])
def test_laplacian_in_any_dimension(n):
    points = np.random.default_rng(0).normal(size=(5, n))
    got = laplacian(lambda x: (x**2).sum(axis=1), points, step=0.3)
    assert_close(got, [2.0 * n] * 5, f"laplacian(|x|^2) in {n} dimensions", "2 n", **EXACT)


def test_laplacian_of_a_harmonic_function_vanishes():
    f = lambda x: x[:, 0] ** 3 - 3 * x[:, 0] * x[:, 1] ** 2  # noqa: E731
    got = laplacian(f, POINTS[:, :2], step=0.1)
    assert_close(got, np.zeros(4), "laplacian(x^3 - 3 x y^2)", "0", atol=1e-10)


def test_laplacian_evaluates_all_points_at_once_and_leaves_them_alone():
    calls, points = [], POINTS.copy()
    laplacian(lambda x: calls.append(x.shape) or (x**2).sum(axis=1), points)
    assert len(calls) <= 9, f"laplacian evaluated f {len(calls)} times for 3 axes, expected 7 for all points together"
    assert np.array_equal(points, POINTS), "laplacian changed the points"


def test_laplacian_refuses_a_bad_function():
    with pytest.raises(ValueError, match="f must return"):
        laplacian(lambda x: x, POINTS)
    with pytest.raises(ValueError, match="f must be finite"):
        laplacian(lambda x: np.full(len(x), np.inf), POINTS)


@pytest.mark.given
def test_laplacian_refuses():
    with pytest.raises(ValueError, match="points must"):
        laplacian(lambda x: x[:, 0], POINTS[0])
    with pytest.raises(ValueError, match="step must"):
        laplacian(lambda x: x[:, 0], POINTS, step=0.0)


# grid_partial


def test_grid_partial_inside_is_central():
    u = np.array([0.3, 1.1, 0.4, 2.9, 2.2])
    got = grid_partial(u, 0, 0.25)[1:-1]
    assert_close(
        got, [0.2, 3.6, 3.6], "grid_partial([0.3, 1.1, 0.4, 2.9, 2.2], 0, 0.25)[1:-1]", "equation (5)", **EXACT
    )


def test_grid_partial_at_the_ends_is_of_one_side():
    u = np.array([0.3, 1.1, 0.4, 2.9, 2.2])
    got = grid_partial(u, 0, 0.25)[[0, -1]]
    expected = [(-0.9 + 4.4 - 0.4) / 0.5, (6.6 - 11.6 + 0.4) / 0.5]
    assert_close(got, expected, "grid_partial([0.3, 1.1, 0.4, 2.9, 2.2], 0, 0.25)[[0, -1]]", "equation (6)", **EXACT)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_grid_partial_goes_along_its_axis(axis):
    values = np.random.default_rng(0).normal(size=(4, 6, 5))
    expected = np.gradient(values, 0.3, axis=axis, edge_order=2)
    got = grid_partial(values, axis, 0.3)
    assert_close(got, expected, f"grid_partial(values of shape (4, 6, 5), axis={axis}, 0.3)", "(5) and (6)", **EXACT)


def test_grid_partial_of_a_parabola_is_exact_everywhere():
    x = 0.2 * np.arange(7) - 0.5
    got = grid_partial(1.3 * x**2 - 0.7 * x + 2, 0, 0.2)
    assert_close(got, 2.6 * x - 0.7, "grid_partial of 1.3 x^2 - 0.7 x + 2", "2.6 x - 0.7, also at the ends", **EXACT)


def test_grid_partial_is_of_second_order_everywhere():
    errors = []
    for m in (41, 81):
        x = np.linspace(0, 2, m)
        errors.append(np.abs(grid_partial(np.sin(x), 0, x[1] - x[0]) - np.cos(x)).max())
    order = np.log2(errors[0] / errors[1])
    assert abs(order - 2) < 0.15, (
        f"halving the distance in grid_partial of sin makes the error smaller by 2^{order:.2f}, expected 2^2"
    )


def test_grid_partial_takes_three_nodes():
    got = grid_partial(np.array([1.0, 4.0, 9.0]), 0, 1.0)
    assert_close(got, [2.0, 4.0, 6.0], "grid_partial([1, 4, 9], 0, 1)", "2 x at 1, 2, 3", **EXACT)


def test_grid_partial_keeps_to_its_argument():
    values = np.random.default_rng(0).normal(size=(4, 5))
    kept = values.copy()
    grid_partial(values, 1, 0.5)
    assert np.array_equal(values, kept), "grid_partial changed its values"
    got = grid_partial(values.astype(np.float32), 1, 0.5).dtype
    assert got == np.float32, f"grid_partial of float32 returned {got}, expected float32"
    whole = grid_partial(np.array([1, 4, 8, 9]), 0, 2.0)
    assert_close(whole, [1.25, 1.75, 1.25, -0.25], "grid_partial of whole numbers", "(5) and (6)", **EXACT)


@pytest.mark.given
@pytest.mark.parametrize(
    ("values", "axis", "spacing", "named"),
    [
        (np.ones((4, 2)), 1, 0.1, "values must have at least 3"),
        (np.ones((4, 5)), 2, 0.1, "axis must"),
        (np.ones((4, 5)), -3, 0.1, "axis must"),
        (np.ones((4, 5)), 1, 0.0, "spacing must"),
        (np.full(4, np.nan), 0, 0.1, "values must be"),
    ],
)
def test_grid_partial_refuses(values, axis, spacing, named):
    with pytest.raises(ValueError, match=named):
        grid_partial(values, axis, spacing)


# grid_divergence


def box(*shape, spacings):
    return np.meshgrid(*(h * np.arange(m) - 0.4 for m, h in zip(shape, spacings, strict=True)), indexing="ij")


def test_grid_divergence_of_a_parabola_is_exact():
    spacings = (0.25, 0.1, 0.4)
    x, y, z = box(5, 7, 4, spacings=spacings)
    field = np.stack([1.3 * x**2 + y, y**2 - 2 * x * y, z * x + 3 * y])
    expected = 2.6 * x + 2 * y - 2 * x + x
    assert_close(grid_divergence(field, spacings), expected, "grid_divergence of parabolas", "equation (2)", **EXACT)


def test_grid_divergence_in_one_dimension_is_the_slope():
    u = np.array([0.3, 1.1, 0.4, 2.9, 2.2])
    got = grid_divergence(u[None], [0.25])
    assert_close(got, grid_partial(u, 0, 0.25), "grid_divergence of one component", "grid_partial of it", **EXACT)


@pytest.mark.given
@pytest.mark.parametrize(
    ("field", "spacings", "named"),
    [
        (np.ones((2, 4, 5, 6)), (1.0, 1.0, 1.0), "field must have as many"),
        (np.ones((2, 4, 2)), (1.0, 1.0), "field must have at least"),
        (np.ones((2, 4, 5)), (1.0,), "spacings must"),
        (np.ones((2, 4, 5)), (1.0, -1.0), "spacings must"),
        (np.full((2, 4, 5), np.inf), (1.0, 1.0), "field must be"),
    ],
)
@pytest.mark.parametrize("function", [grid_divergence, grid_curl])
def test_grid_divergence_and_curl_refuse(function, field, spacings, named):
    with pytest.raises(ValueError, match=named):
        function(field, spacings)


# grid_curl


def test_grid_curl_in_the_plane():
    spacings = (0.25, 0.1)
    x, y = box(5, 7, spacings=spacings)
    got = grid_curl(np.stack([1.3 * x * y, x**2 - 0.7 * y**2]), spacings)
    assert_close(got, 2 * x - 1.3 * x, "grid_curl of parabolas in the plane", "the last component of (3)", **EXACT)


def test_grid_curl_in_space():
    spacings = (0.25, 0.1, 0.4)
    x, y, z = box(5, 7, 4, spacings=spacings)
    field = np.stack([1.3 * x * y + z**2, y * z - 0.7 * x**2, 0.9 * x * z + 2.2 * y**2])
    expected = np.stack([4.4 * y - y, 2 * z - 0.9 * z, -1.4 * x - 1.3 * x])
    assert_close(grid_curl(field, spacings), expected, "grid_curl of parabolas in space", "equation (3)", **EXACT)


def test_grid_curl_of_a_gradient_vanishes():
    spacings = (0.25, 0.1, 0.4)
    f = np.random.default_rng(0).normal(size=(5, 7, 4))
    gradient = np.stack([grid_partial(f, axis, h) for axis, h in enumerate(spacings)])
    got = grid_curl(gradient, spacings)
    assert_close(got, np.zeros((3, 5, 7, 4)), "grid_curl of the gradient of random values", "0, (7)", atol=1e-10)


def test_grid_curl_has_no_divergence():
    spacings = (0.25, 0.1, 0.4)
    field = np.random.default_rng(0).normal(size=(3, 5, 7, 4))
    got = grid_divergence(grid_curl(field, spacings), spacings)
    assert_close(got, np.zeros((5, 7, 4)), "grid_divergence(grid_curl(random field))", "0, (7)", atol=1e-10)


@pytest.mark.given
@pytest.mark.parametrize("field", [np.ones((1, 5)), np.ones((4, 3, 3, 3, 3))])
def test_grid_curl_refuses_other_dimensions(field):
    with pytest.raises(ValueError, match="field must have 2 or 3"):
        grid_curl(field, (1.0,) * len(field))


# grid_laplacian


def test_grid_laplacian_inside():
    u = np.array([0.3, 1.1, 0.4, 2.9, 2.2])
    got = grid_laplacian(u, [0.5])[1:-1]
    assert_close(got, [-6.0, 12.8, -12.8], "grid_laplacian([0.3, 1.1, 0.4, 2.9, 2.2], [0.5])[1:-1]", "(8)", **EXACT)


def test_grid_laplacian_at_the_ends():
    u = np.array([0.3, 1.1, 0.4, 2.9, 2.2])
    got = grid_laplacian(u, [0.5])[[0, -1]]
    expected = [(0.6 - 5.5 + 1.6 - 2.9) / 0.25, (4.4 - 14.5 + 1.6 - 1.1) / 0.25]
    assert_close(got, expected, "grid_laplacian([0.3, 1.1, 0.4, 2.9, 2.2], [0.5])[[0, -1]]", "(8)", **EXACT)


def test_grid_laplacian_of_a_cubic_is_exact_everywhere():
    spacings = (0.25, 0.1, 0.4)
    x, y, z = box(5, 7, 4, spacings=spacings)
    got = grid_laplacian(1.3 * x**3 - 0.7 * y**3 + 2.1 * z**2 * x + x * y, spacings)
    expected = 7.8 * x - 4.2 * y + 4.2 * x
    assert_close(got, expected, "grid_laplacian of a cubic", "its Laplacian, equation (8)", **EXACT)


def test_grid_laplacian_sees_the_fastest_ripple():
    ripple = (-1.0) ** np.arange(8)
    got = grid_laplacian(ripple, [0.5])[1:-1]
    assert_close(got, -16 * ripple[1:-1], "grid_laplacian of plus, minus, plus, minus", "-4 / h^2 of it, (8)", **EXACT)


def test_grid_laplacian_is_of_second_order_everywhere():
    errors = []
    for m in (41, 81):
        x = np.linspace(0, 2, m)
        errors.append(np.abs(grid_laplacian(np.sin(x), [x[1] - x[0]]) + np.sin(x)).max())
    order = np.log2(errors[0] / errors[1])
    assert abs(order - 2) < 0.15, (
        f"halving the distance in grid_laplacian of sin makes the error smaller by 2^{order:.2f}, expected 2^2"
    )


def test_grid_laplacian_keeps_to_its_argument():
    values = np.random.default_rng(0).normal(size=(4, 5))
    kept = values.copy()
    grid_laplacian(values, (0.5, 0.1))
    assert np.array_equal(values, kept), "grid_laplacian changed its values"
    got = grid_laplacian(values.astype(np.float32), (0.5, 0.1)).dtype
    assert got == np.float32, f"grid_laplacian of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("values", "spacings", "named"),
    [
        (np.ones((4, 3)), (1.0, 1.0), "values must have at least 4"),
        (np.array(1.0), (), "values must have at least 4"),
        (np.ones((4, 5)), (1.0, np.nan), "spacings must"),
        (np.ones((4, 5)), (1.0, 1.0, 1.0), "spacings must"),
        (np.full((4, 5), np.nan), (1.0, 1.0), "values must be"),
    ],
)
def test_grid_laplacian_refuses(values, spacings, named):
    with pytest.raises(ValueError, match=named):
        grid_laplacian(values, spacings)
