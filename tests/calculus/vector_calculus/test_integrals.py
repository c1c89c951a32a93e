"""Shared tests of calculus/vector_calculus/integrals: run on the reference, and on the learner's file.

Gauss's rule is exact for polynomials, and with 20 to 40 nodes right to rounding for the smooth functions used here, so that the
tolerances are some thousand roundings. Differences for Jacobians leave an error near 1e-10 (equation (1) of the exercise
before).
"""

import numpy as np
import pytest

from mlpath.calculus.vector_calculus.derivatives import curl, divergence, jacobians
from mlpath.calculus.vector_calculus.integrals import (
    Curve,
    Surface,
    boundary_circulation,
    box_flux,
    box_integral,
    grid_potential,
    line_integral,
    potential,
    rotation_share,
    surface_flux,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-10, "atol": 1e-11, "tolerance": "the rule is exact here, or as good: only rounding is left"}


def helix(turns=1.3):
    """A turning, rising curve that grows wider."""
    omega = 2 * np.pi * turns

    def point(t):
        return np.stack([(1 + t) * np.cos(omega * t), (1 + t) * np.sin(omega * t), 0.7 * t**2], axis=1)

    def velocity(t):
        c, s = np.cos(omega * t), np.sin(omega * t)
        return np.stack([c - omega * (1 + t) * s, s + omega * (1 + t) * c, 1.4 * t], axis=1)

    return Curve(point, velocity)


def circle(radius, turns=1.0):
    omega = 2 * np.pi * turns
    return Curve(
        lambda t: radius * np.stack([np.cos(omega * t), np.sin(omega * t)], axis=1),
        lambda t: radius * omega * np.stack([-np.sin(omega * t), np.cos(omega * t)], axis=1),
    )


def hill(x):
    """A function in space, whose gradient is `slope`."""
    a, b, c = np.transpose(x)
    return np.sin(a) * np.exp(0.5 * b) + a * c**2 - b


def slope(x):
    a, b, c = x.T
    e = np.exp(0.5 * b)
    return np.stack([np.cos(a) * e + c**2, 0.5 * np.sin(a) * e - 1, 2 * a * c], axis=1)


def swirl(x):
    """A field that is no gradient."""
    a, b, c = x.T
    return np.stack([np.sin(a) * b + c**2, a * c - np.exp(0.5 * b), b * c + 0.3 * a**2 * c], axis=1)


# line_integral


def test_line_integral_along_a_straight_way():
    line = Curve(lambda t: np.stack([0.5 + 2 * t, 1 - 3 * t], axis=1), lambda t: np.tile([2.0, -3.0], (len(t), 1)))
    field = lambda x: np.stack([x[:, 0] * x[:, 1], x[:, 1] + 4], axis=1)  # noqa: E731
    # F.v = 2 (0.5 + 2t)(1 - 3t) - 3 (5 - 3t) = -14 + 10 t - 12 t^2
    assert_close(line_integral(field, line), -14 + 5 - 4, "line_integral(field, a straight line)", "(1)", **ROUNDING)


def test_line_integral_of_a_gradient_is_the_difference_of_the_ends():
    ends = helix().point(np.array([0.0, 1.0]))
    expected = hill(ends[1]) - hill(ends[0])
    assert_close(line_integral(slope, helix()), expected, "line_integral(a gradient, helix)", "below (1)", **ROUNDING)


@pytest.mark.parametrize("turns", [1.0, 2.0, -1.0])
def test_line_integral_around_a_whirl(turns):
    whirl = lambda x: np.stack([-x[:, 1], x[:, 0]], axis=1) / (x**2).sum(axis=1, keepdims=True)  # noqa: E731
    got = line_integral(whirl, circle(1.7, turns))
    assert_close(got, 2 * np.pi * turns, f"line_integral(whirl, a circle, {turns:g} turns)", "2 pi a turn", **ROUNDING)


def test_line_integral_does_not_depend_on_the_speed():
    h = helix()
    uneven = Curve(lambda t: h.point(t**2), lambda t: 2 * t[:, None] * h.velocity(t**2))
    got = line_integral(swirl, uneven, n_nodes=80)
    assert_close(
        got, line_integral(swirl, h, n_nodes=80), "line_integral along an uneven walk", "the even walk", **ROUNDING
    )


def test_line_integral_uses_so_many_nodes():
    seen = []
    line_integral(lambda x: seen.append(len(x)) or slope(x), helix(), n_nodes=7)
    assert sum(seen) == 7, f"line_integral(..., n_nodes=7) evaluated the field at {sum(seen)} points"
    rough = line_integral(lambda x: x, circle(1.0, 1.3), n_nodes=1)
    assert isinstance(rough, float), f"line_integral returned {type(rough).__name__}, expected a float"


def test_line_integral_refuses_a_bad_field():
    with pytest.raises(ValueError, match="field must return"):
        line_integral(lambda x: x[:, 0], helix())
    with pytest.raises(ValueError, match="field must be finite"):
        line_integral(lambda x: x * np.nan, helix())


@pytest.mark.given
def test_line_integral_refuses():
    with pytest.raises(ValueError, match="n_nodes must"):
        line_integral(slope, helix(), n_nodes=0)


# potential

POINTS = np.array([[0.7, -1.2, 0.4], [2.1, 0.3, -0.9], [-1.6, 0.8, 1.5], [0.2, 0.5, 2.3]])
BASE = np.array([0.4, -0.3, 1.1])


def test_potential_of_a_linear_gradient():
    a = np.array([[2.3, 0.7], [0.7, -1.4]])
    points, base = np.array([[1.2, -0.5], [0.3, 2.6], [-1.9, 0.8]]), np.array([0.6, 0.9])
    phi = lambda x: 0.5 * np.einsum("...i,ij,...j", x, a, x)  # noqa: E731
    got = potential(lambda x: x @ a, base, points)
    assert_close(
        got, phi(points) - phi(base), "potential(x -> A x, base, points)", "x'Ax / 2, 0 at the base", **ROUNDING
    )


def test_potential_of_a_gradient_is_the_function():
    got = potential(slope, BASE, POINTS)
    assert_close(
        got, hill(POINTS) - hill(BASE), "potential(gradient of f, base, points)", "f less f(base), (2)", **ROUNDING
    )


def test_potential_at_the_base_is_zero():
    got = potential(slope, BASE, np.array([BASE, BASE]))
    assert_close(got, [0.0, 0.0], "potential at the base", "0", atol=0)


def test_potential_evaluates_the_points_together_and_leaves_them_alone():
    calls, points, base = [], POINTS.copy(), BASE.copy()
    potential(lambda x: calls.append(1) or slope(x), base, np.tile(points, (50, 1)), n_nodes=20)
    assert len(calls) <= 21, (
        f"potential of 200 points by 20 nodes called the field {len(calls)} times, expected at most 20"
    )
    potential(slope, base, points)
    assert np.array_equal(points, POINTS) and np.array_equal(base, BASE), "potential changed its arguments"


def test_potential_refuses_a_bad_field():
    with pytest.raises(ValueError, match="field must"):
        potential(lambda x: x[:, :2], BASE, POINTS)


@pytest.mark.given
def test_potential_refuses():
    with pytest.raises(ValueError, match="points must"):
        potential(slope, BASE, POINTS[0])
    with pytest.raises(ValueError, match="base must"):
        potential(slope, BASE[:2], POINTS)
    with pytest.raises(ValueError, match="base must"):
        potential(slope, BASE * np.inf, POINTS)
    with pytest.raises(ValueError, match="n_nodes must"):
        potential(slope, BASE, POINTS, n_nodes=0)


# rotation_share

DIFFERENCES = {"atol": 1e-8, "tolerance": "differences leave an error near 1e-10"}


def test_rotation_share_of_a_linear_field():
    a = np.array([[2.3, 0.7], [-1.9, 0.4]])
    expected = np.sqrt(2) * 2.6 / (2 * np.sqrt(2.3**2 + 0.7**2 + 1.9**2 + 0.4**2))
    got = rotation_share(lambda x: x @ a.T, POINTS[:, :2])
    assert_close(got, [expected] * 4, "rotation_share(x -> A x, points)", "equation (3) for A", **DIFFERENCES)


def test_rotation_share_of_a_field():
    j = jacobians(swirl, POINTS)
    expected = [np.linalg.norm(m - m.T) / (2 * np.linalg.norm(m)) for m in j]
    assert_close(rotation_share(swirl, POINTS), expected, "rotation_share(field, points)", "(3)", **DIFFERENCES)


def test_rotation_share_of_a_gradient_is_zero_and_that_of_a_rotation_one():
    assert_close(rotation_share(slope, POINTS), np.zeros(4), "rotation_share(a gradient)", "0", **DIFFERENCES)
    axis = np.array([0.3, -1.2, 0.8])
    got = rotation_share(lambda x: np.cross(axis, x), POINTS)
    assert_close(got, np.ones(4), "rotation_share(a rotation about an axis)", "1", **DIFFERENCES)


def test_rotation_share_of_a_constant_is_zero():
    got = rotation_share(lambda x: np.tile([1.0, 2.0, 3.0], (len(x), 1)), POINTS)
    assert_close(got, np.zeros(4), "rotation_share(a constant field)", "0, where the Jacobian is 0", atol=0)


@pytest.mark.parametrize("scale", [1e-90, 1e90])
def test_rotation_share_is_free_of_units(scale):
    got = rotation_share(lambda x: scale * swirl(x), POINTS)
    expected = rotation_share(swirl, POINTS)
    assert_close(got, expected, f"rotation_share({scale:g} times a field)", "that of the field", **DIFFERENCES)


@pytest.mark.given
def test_rotation_share_refuses():
    with pytest.raises(ValueError, match="points must"):
        rotation_share(slope, POINTS[0])
    with pytest.raises(ValueError, match="step must"):
        rotation_share(slope, POINTS, step=0.0)


# grid_potential


def test_grid_potential_along_one_axis_is_the_trapezoidal_rule():
    got = grid_potential(np.array([[0.3, 1.1, 0.4, 2.9]]), (0.5,))
    assert_close(got, [0.0, 0.35, 0.725, 1.55], "grid_potential([[0.3, 1.1, 0.4, 2.9]], [0.5])", "(4)", **ROUNDING)


def grid(*shape, spacings):
    return np.meshgrid(*(h * np.arange(m) for m, h in zip(shape, spacings, strict=True)), indexing="ij")


def test_grid_potential_in_the_plane():
    # The gradient of x^2 + 3 x y - 2 y^2 is linear, so that the rule is exact.
    spacings = (0.25, 0.4)
    x, y = grid(5, 7, spacings=spacings)
    got = grid_potential(np.stack([2 * x + 3 * y, 3 * x - 4 * y]), spacings)
    assert_close(got, x**2 + 3 * x * y - 2 * y**2, "grid_potential of a linear gradient", "(4)", **ROUNDING)


def test_grid_potential_in_space():
    spacings = (0.25, 0.4, 0.1)
    x, y, z = grid(3, 5, 4, spacings=spacings)
    got = grid_potential(np.stack([2 * x + 3 * y, 3 * x + z, y - 6 * z]), spacings)
    expected = x**2 + 3 * x * y + y * z - 3 * z**2
    assert_close(got, expected, "grid_potential of a linear gradient in space", "(4)", **ROUNDING)


def test_grid_potential_goes_along_the_first_axis_first():
    # Not a gradient: another way gives other numbers, and the docstring names the way.
    field = np.random.default_rng(0).normal(size=(2, 4, 3))
    got = grid_potential(field, (0.5, 0.2))
    expected = np.zeros((4, 3))
    for i in range(4):
        expected[i, 0] = sum(0.25 * (field[0, k, 0] + field[0, k + 1, 0]) for k in range(i))
        for j in range(1, 3):
            expected[i, j] = expected[i, j - 1] + 0.1 * (field[1, i, j - 1] + field[1, i, j])
    assert_close(got, expected, "grid_potential of a random field", "first the first axis, then the second", **ROUNDING)


def test_grid_potential_is_of_second_order():
    errors = []
    for m in (20, 40):
        spacings = (2 / m, 1 / m)
        x, y = grid(m + 1, m + 1, spacings=spacings)
        got = grid_potential(np.stack([np.cos(x) * np.exp(y), np.sin(x) * np.exp(y)]), spacings)
        errors.append(np.abs(got - np.sin(x) * np.exp(y)).max())
    order = np.log2(errors[0] / errors[1])
    assert abs(order - 2) < 0.1, (
        f"halving the distances in grid_potential makes the error smaller by 2^{order:.2f}, expected 2^2"
    )


def test_grid_potential_keeps_to_its_argument():
    field = np.random.default_rng(0).normal(size=(2, 4, 3))
    kept = field.copy()
    grid_potential(field, (0.5, 0.2))
    assert np.array_equal(field, kept), "grid_potential changed its field"
    got = grid_potential(field.astype(np.float32), (0.5, 0.2)).dtype
    assert got == np.float32, f"grid_potential of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("field", "spacings", "named"),
    [
        (np.ones((3, 4, 5)), (1.0, 1.0), "field must"),
        (np.ones(4), (1.0,), "field must"),
        (np.full((2, 4, 5), np.nan), (1.0, 1.0), "field must"),
        (np.ones((2, 4, 5)), (1.0,), "spacings must"),
        (np.ones((2, 4, 5)), (1.0, 0.0), "spacings must"),
    ],
)
def test_grid_potential_refuses(field, spacings, named):
    with pytest.raises(ValueError, match=named):
        grid_potential(field, spacings)


# box_integral

LOW, HIGH = np.array([0.5, -1.2, 0.1]), np.array([2.1, 0.7, 0.9])


def test_box_integral_in_one_dimension():
    got = box_integral(lambda x: x[:, 0] ** 3, np.array([0.5]), np.array([2.1]))
    assert_close(got, (2.1**4 - 0.5**4) / 4, "box_integral(x^3, 0.5, 2.1)", "equation (5)", **ROUNDING)


def test_box_integral_of_a_product():
    f = lambda x: x[:, 0] ** 3 * x[:, 1] ** 2 * np.exp(x[:, 2])  # noqa: E731
    expected = (2.1**4 - 0.5**4) / 4 * (0.7**3 + 1.2**3) / 3 * (np.exp(0.9) - np.exp(0.1))
    assert_close(box_integral(f, LOW, HIGH), expected, "box_integral(x^3 y^2 e^z, a box)", "equation (5)", **ROUNDING)


def test_box_integral_of_one_is_the_volume():
    got = box_integral(lambda x: np.ones(len(x)), LOW, HIGH, n_nodes=3)
    assert_close(got, 1.6 * 1.9 * 0.8, "box_integral(1, a box)", "its volume", **ROUNDING)


def test_box_integral_of_what_is_no_product():
    f = lambda x: np.cos(x[:, 0] + 2 * x[:, 1])  # noqa: E731
    a, b = (0.5, -1.2), (2.1, 0.7)
    corners = [
        sx * sy * -np.cos(x + 2 * y) / 2 for x, sx in ((a[0], -1), (b[0], 1)) for y, sy in ((a[1], -1), (b[1], 1))
    ]
    got = box_integral(f, np.array(a), np.array(b))
    assert_close(
        got, sum(corners), "box_integral(cos(x + 2 y), a box)", "-cos / 2 at its corners, with signs", **ROUNDING
    )


def test_box_integral_in_no_dimension_is_the_value():
    got = box_integral(lambda x: np.full(len(x), 7.3), np.zeros(0), np.zeros(0))
    assert_close(got, 7.3, "box_integral(7.3, a point)", "the value", **ROUNDING)


def test_box_integral_with_few_nodes_is_that_rule():
    got = box_integral(lambda x: x[:, 0] ** 4, np.zeros(1), np.ones(1), n_nodes=2)
    t = (1 + np.array([-1, 1]) / np.sqrt(3)) / 2
    assert_close(got, (t**4).mean(), "box_integral(x^4, 0, 1, n_nodes=2)", "the mean of both nodes", **ROUNDING)


def test_box_integral_refuses_a_bad_function():
    with pytest.raises(ValueError, match="f must return"):
        box_integral(lambda x: x, LOW, HIGH)


@pytest.mark.given
@pytest.mark.parametrize("function", [box_integral, box_flux])
def test_box_integral_and_flux_refuse(function):
    f = lambda x: x[:, 0] if function is box_integral else x  # noqa: E731
    with pytest.raises(ValueError, match="low must"):
        function(f, np.array([np.nan, 0.0]), np.ones(2))
    with pytest.raises(ValueError, match="high must"):
        function(f, np.ones(2), np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="high must"):
        function(f, np.ones(2), np.ones(3))


@pytest.mark.given
def test_box_integral_refuses_no_nodes():
    with pytest.raises(ValueError, match="n_nodes must"):
        box_integral(lambda x: x[:, 0], LOW, HIGH, n_nodes=0)


# box_flux


def test_box_flux_out_of_a_box():
    field = lambda x: np.stack([3 * x[:, 0] * x[:, 1], x[:, 1] ** 2 + x[:, 0]], axis=1)  # noqa: E731
    low, high = np.array([0.5, 1.2]), np.array([2.1, 3.3])
    # Right less left: 3 (2.1 - 0.5) times the integral of y; upper less lower: (3.3^2 - 1.2^2) times the width.
    expected = 3 * 1.6 * (3.3**2 - 1.2**2) / 2 + (3.3**2 - 1.2**2) * 1.6
    assert_close(
        box_flux(field, low, high), expected, "box_flux(field, a box in the plane)", "equation (6)", **ROUNDING
    )


def test_box_flux_in_one_dimension_is_the_difference():
    got = box_flux(lambda x: x**3, np.array([0.5]), np.array([2.1]))
    assert_close(
        got, 2.1**3 - 0.5**3, "box_flux(x^3, 0.5, 2.1)", "out at the upper less in at the lower end", **ROUNDING
    )


def test_box_flux_of_a_constant_is_zero():
    got = box_flux(lambda x: np.tile([1.3, -0.4, 2.2], (len(x), 1)), LOW, HIGH)
    assert_close(got, 0.0, "box_flux(a constant field)", "0: what flows in flows out", atol=1e-12)


def test_box_flux_is_the_integral_of_the_divergence():
    got = box_flux(swirl, LOW, HIGH)
    inside = box_integral(lambda x: divergence(jacobians(swirl, x)), LOW, HIGH, n_nodes=12)
    assert_close(got, inside, "box_flux(field, box)", "the integral of the divergence, Gauss's theorem (7)", rtol=1e-7)


def test_box_flux_uses_so_many_nodes():
    shapes = []
    box_flux(lambda x: shapes.append(x.shape) or x, LOW, HIGH, n_nodes=3)
    got = sum(shape[0] for shape in shapes)
    assert got == 6 * 9, (
        f"box_flux(..., n_nodes=3) of a box in space evaluated the field at {got} points, expected 6 x 9"
    )
    with pytest.raises(ValueError, match="n_nodes must"):
        box_flux(swirl, LOW, HIGH, n_nodes=0)


def test_box_flux_refuses_a_bad_field():
    with pytest.raises(ValueError, match="field must"):
        box_flux(lambda x: x[:, :2], LOW, HIGH)


@pytest.mark.given
def test_box_flux_refuses_a_point():
    with pytest.raises(ValueError, match="low must"):
        box_flux(lambda x: x, np.zeros(0), np.zeros(0))


# surface_flux


def bowl():
    """A bent piece of surface, of which no coordinate is a parameter."""

    def point(u, v):
        return np.stack([(1 + u) * np.cos(2 * v), (1 + u) * np.sin(2 * v), u**2 + 0.5 * v], axis=1)

    def along_u(u, v):
        return np.stack([np.cos(2 * v), np.sin(2 * v), 2 * u], axis=1)

    def along_v(u, v):
        return np.stack([-2 * (1 + u) * np.sin(2 * v), 2 * (1 + u) * np.cos(2 * v), 0.5 + 0 * u], axis=1)

    return Surface(point, along_u, along_v)


def sphere(radius):
    """A sphere whose u runs from pole to pole, so that the normal points outwards."""

    def point(u, v):
        a, b = np.pi * u, 2 * np.pi * v
        return radius * np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], axis=1)

    def along_u(u, v):
        a, b = np.pi * u, 2 * np.pi * v
        return radius * np.pi * np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), -np.sin(a)], axis=1)

    def along_v(u, v):
        a, b = np.pi * u, 2 * np.pi * v
        return radius * 2 * np.pi * np.stack([-np.sin(a) * np.sin(b), np.sin(a) * np.cos(b), 0 * a], axis=1)

    return Surface(point, along_u, along_v)


def test_surface_flux_through_a_flat_piece():
    flat = Surface(
        lambda u, v: np.stack([2 * u + v, 3 * v, 1 + u], axis=1),
        lambda u, v: np.tile([2.0, 0.0, 1.0], (len(u), 1)),
        lambda u, v: np.tile([1.0, 3.0, 0.0], (len(u), 1)),
    )
    got = surface_flux(lambda x: np.stack([x[:, 2], x[:, 1], 5 + 0 * x[:, 0]], axis=1), flat)
    # The normal is (-3, 1, 6); the means of z and y are 1.5 and 1.5.
    assert_close(got, -4.5 + 1.5 + 30, "surface_flux(field, a flat piece)", "equation (8)", **ROUNDING)


def test_surface_flux_out_of_a_sphere():
    charge = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True) ** 3  # noqa: E731
    got = surface_flux(charge, sphere(1.7))
    assert_close(got, 4 * np.pi, "surface_flux(x / |x|^3, a sphere)", "4 pi, whatever its radius", **ROUNDING)
    got = surface_flux(lambda x: x, sphere(1.7))
    assert_close(got, 4 * np.pi * 1.7**3, "surface_flux(x, a sphere)", "three times its volume, (7)", **ROUNDING)


def test_surface_flux_turns_with_the_normal():
    b = bowl()
    turned = Surface(lambda u, v: b.point(v, u), lambda u, v: b.along_v(v, u), lambda u, v: b.along_u(v, u))
    assert_close(
        surface_flux(swirl, turned), -surface_flux(swirl, b), "surface_flux with u and v exchanged", "less", **ROUNDING
    )


def test_surface_flux_is_a_double_integral():
    b = bowl()

    def density(p):
        u, v = p.T
        return np.einsum("ki,ki->k", swirl(b.point(u, v)), np.cross(b.along_u(u, v), b.along_v(u, v)))

    expected = box_integral(density, np.zeros(2), np.ones(2), n_nodes=30)
    assert_close(
        surface_flux(swirl, b), expected, "surface_flux(field, a bowl)", "(8) over the unit square", **ROUNDING
    )


def test_surface_flux_refuses_a_bad_field():
    with pytest.raises(ValueError, match="field must"):
        surface_flux(lambda x: x[:, :2], bowl())


@pytest.mark.given
def test_surface_flux_refuses():
    with pytest.raises(ValueError, match="n_nodes must"):
        surface_flux(swirl, bowl(), n_nodes=0)


# boundary_circulation


def test_boundary_circulation_in_the_plane_is_greens_theorem():
    # The boundary of the parallelogram (2u + v, 3v) of area 6; the curl of (x y, x^2) is 2x - x = x, of mean 1.5.
    flat = Surface(
        lambda u, v: np.stack([2 * u + v, 3 * v, 0 * u], axis=1),
        lambda u, v: np.tile([2.0, 0.0, 0.0], (len(u), 1)),
        lambda u, v: np.tile([1.0, 3.0, 0.0], (len(u), 1)),
    )
    field = lambda x: np.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2, 0 * x[:, 0]], axis=1)  # noqa: E731
    call = "boundary_circulation((x y, x^2, 0), a parallelogram)"
    assert_close(boundary_circulation(field, flat), 6 * 1.5, call, "area times the mean curl, (9)", **ROUNDING)


def test_boundary_circulation_is_the_flux_of_the_curl():
    got = boundary_circulation(swirl, bowl())
    inside = surface_flux(lambda x: curl(jacobians(swirl, x)), bowl())
    assert_close(got, inside, "boundary_circulation(field, a bowl)", "the flux of the curl, Stokes (9)", rtol=1e-7)


def test_boundary_circulation_of_a_gradient_vanishes():
    assert_close(boundary_circulation(slope, bowl()), 0.0, "boundary_circulation(a gradient)", "0, (2)", atol=1e-11)


def test_boundary_circulation_of_a_closed_surface_vanishes():
    # The poles are points, and the two halves of the seam undo each other.
    assert_close(boundary_circulation(swirl, sphere(1.2)), 0.0, "boundary_circulation of a sphere", "0", atol=1e-11)


def test_boundary_circulation_uses_so_many_nodes():
    seen = []
    boundary_circulation(lambda x: seen.append(len(x)) or swirl(x), bowl(), n_nodes=7)
    assert sum(seen) == 28, (
        f"boundary_circulation(..., n_nodes=7) evaluated the field at {sum(seen)} points, expected 4 x 7"
    )


def test_boundary_circulation_refuses():
    with pytest.raises(ValueError, match="field must"):
        boundary_circulation(lambda x: x[:, :2], bowl())
    with pytest.raises(ValueError, match="n_nodes must"):
        boundary_circulation(swirl, bowl(), n_nodes=0)
