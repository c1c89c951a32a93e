"""Shared tests of calculus/critical_points: run on the reference, and on the learner's file.

Nothing here is random but seeded data. A search ends with a gradient of 1e-10 at most, so a point whose least curvature is
0.5 is right to 2e-10: the tolerance of 1e-8 leaves a margin for all. Where all critical points are known the tests ask for each of them.
"""

import itertools

import numpy as np
import pytest

from mlpath.calculus.critical_points import (
    classify,
    distinct,
    find_critical_points,
    inertia,
    newton,
    newton_step,
    step_fraction,
)
from mlpath.testing import assert_close

NEAR = {"rtol": 0, "atol": 1e-8, "tolerance": "a gradient of 1e-10 over a curvature of 0.5 or more"}


def turned(values, seed=1):
    """A symmetric matrix with these eigenvalues and no entry that is 0."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))[0]
    a = q * np.asarray(values) @ q.T
    return (a + a.T) / 2


def himmelblau_gradient(p):
    x, y = p
    return np.array([4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7), 2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7)])


def himmelblau_hessian(p):
    x, y = p
    return np.array([[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]])


# f = sum_i a_i (x_i^2 - b_i)^2 has 3^n critical points: each coordinate is 0 or plus or minus the root of b_i.
A, B = np.array([0.7, 1.3, 0.4]), np.array([1.44, 0.8, 2.25])


def wells_gradient(x):
    return 4 * A * x * (x**2 - B)


def wells_hessian(x):
    return np.diag(4 * A * (3 * x**2 - B))


def torus_gradient(p):
    """f = cos x + 0.6 cos y + 0.3 sin(x + y), with period 2 pi in both variables."""
    x, y = p
    both = 0.3 * np.cos(x + y)
    return np.array([-np.sin(x) + both, -0.6 * np.sin(y) + both])


def torus_hessian(p):
    x, y = p
    both = -0.3 * np.sin(x + y)
    return np.array([[-np.cos(x) + both, both], [both, -0.6 * np.cos(y) + both]])


def by_place(points):
    return sorted(points, key=lambda point: tuple(np.round(point.x, 5) + 0.0))


# inertia


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.1, -2.2, -0.7, 1.4, 5.5], (2, 0, 3)),
        ([-3.1, -2.2, -0.7], (3, 0, 0)),
        ([3.1, 2.2, 0.7, 0.3], (0, 0, 4)),
        ([3.1, 2e-5, -3e-5, -1.3], (1, 2, 1)),
        ([0.0, 0.0], (0, 2, 0)),
        ([-0.4], (1, 0, 0)),
    ],
)
def test_inertia_counts_the_curvatures_of_each_sign(values, expected):
    found = inertia(turned(values) if len(values) > 1 else np.diag(values))
    assert tuple(found) == expected, (
        f"inertia(H) for the eigenvalues {values} returned {found}; by equation (3) the numbers below, within and above "
        f"1e-4 are {expected}"
    )


@pytest.mark.parametrize(
    ("flat", "expected"), [(0.5, (1, 1, 3)), (1.5, (1, 3, 1)), (1e-9, (2, 0, 3)), (9.0, (0, 5, 0))]
)
def test_inertia_goes_by_the_tolerance_that_it_is_given(flat, expected):
    values = [3.1, -2.2, -0.2, 1.2, 0.7]
    found = inertia(turned(values), flat)
    assert tuple(found) == expected, (
        f"inertia(H, flat={flat}) for the eigenvalues {values} returned {found}, expected {expected}"
    )


def test_inertia_counts_a_curvature_of_just_the_tolerance_as_none():
    found = inertia(np.diag([0.25, -0.25, 1.0]), flat=0.25)
    assert tuple(found) == (0, 2, 1), (
        f"inertia(diag(0.25, -0.25, 1), flat=0.25) returned {found}, expected (0, 2, 1): (3)"
    )


def test_inertia_does_not_look_at_the_diagonal():
    # The diagonal is positive, and one eigenvalue is -1.5.
    found = inertia(np.array([[1.0, 2.5], [2.5, 1.0]]))
    assert tuple(found) == (1, 0, 1), (
        f"inertia([[1, 2.5], [2.5, 1]]) returned {found}: the eigenvalues are 3.5 and -1.5"
    )


def test_inertia_leaves_its_matrix_alone():
    h = turned([1.0, -2.0, 3.0])
    before = h.copy()
    inertia(h)
    assert np.array_equal(h, before), "inertia changed the Hessian that it was given"


BAD = [
    (np.array([[1.0, 2.0], [0.0, 1.0]]), 1e-4, "hessian"),
    (np.ones((2, 3)), 1e-4, "hessian"),
    (np.array([[np.nan]]), 1e-4, "hessian"),
    (np.eye(2), 0.0, "flat"),
    (np.eye(2), -1.0, "flat"),
    (np.eye(2), np.nan, "flat"),
]


@pytest.mark.given
@pytest.mark.parametrize(("hessian", "flat", "named"), BAD)
def test_inertia_refuses(hessian, flat, named):
    with pytest.raises(ValueError, match=named):
        inertia(hessian, flat)


# classify


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.1, 2.2, 0.7], "minimum"),
        ([-3.1, -2.2, -0.7], "maximum"),
        ([3.1, -2.2, 0.7], "saddle"),
        ([-3.1, -2.2, 0.7], "saddle"),
        ([3.1, 2.2, 1e-6], "degenerate"),
        ([-3.1, -2.2, -1e-6], "degenerate"),
        ([3.1, -2.2, 0.0], "degenerate"),
        ([0.0, 0.0, 0.0], "degenerate"),
    ],
)
def test_classify_names_the_kind(values, expected):
    found = classify(turned(values))
    assert found == expected, (
        f"classify(H) for the eigenvalues {values} returned {found!r}; equation (4) says {expected!r}"
    )


@pytest.mark.parametrize(("flat", "expected"), [(1e-8, "saddle"), (0.1, "degenerate")])
def test_classify_goes_by_the_tolerance_that_it_is_given(flat, expected):
    found = classify(turned([3.1, 0.9, -0.01]), flat)
    assert found == expected, (
        f"classify(H, flat={flat}) for the eigenvalues 3.1, 0.9, -0.01 returned {found!r}, not {expected!r}"
    )


@pytest.mark.parametrize(("hessian", "flat", "named"), BAD)
def test_classify_refuses(hessian, flat, named):
    with pytest.raises(ValueError, match=named):
        classify(hessian, flat)


# newton_step


def test_newton_step_by_hand():
    found = newton_step(np.array([1.3, -0.8]), np.array([[2.0, 0.7], [0.7, -1.5]]))
    # The determinant is -3.49, so d = -(1 / -3.49) [[-1.5, -0.7], [-0.7, 2]] g.
    expected = np.array([-1.39 / 3.49, -2.51 / 3.49])
    assert_close(found, expected, "newton_step([1.3, -0.8], [[2, 0.7], [0.7, -1.5]])", "equation (5)", rtol=1e-12)


@pytest.mark.parametrize("values", [[0.5, 1.1, 3.0, 4.0], [-0.5, 1.1, -3.0, 4.0], [-0.5, -1.1, -3.0, -4.0]])
def test_newton_step_leads_to_the_critical_point_of_a_quadratic(values):
    h, centre = turned(values), np.array([0.3, -1.2, 2.2, 0.9])
    x = np.array([5.0, -7.0, 1.0, 2.5])
    found = newton_step(h @ (x - centre), h)
    call = f"x + newton_step(gradient at x, H) for a quadratic with curvatures {values}"
    assert_close(x + found, centre, call, "equation (5): up or down, its critical point", rtol=1e-11)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_newton_step_does_not_depend_on_the_unit_of_the_function(scale):
    g, h = np.array([1.3, -0.8]), np.array([[2.0, 0.7], [0.7, -1.5]])
    found = newton_step(scale * g, scale * h)
    assert_close(
        found, np.array([-1.39 / 3.49, -2.51 / 3.49]), f"newton_step({scale:g} g, {scale:g} H)", "(5)", rtol=1e-11
    )


def test_newton_step_refuses_a_singular_hessian():
    with pytest.raises(np.linalg.LinAlgError):
        newton_step(np.array([1.0, 2.0]), np.diag([1.0, 0.0]))


def test_newton_step_leaves_its_arguments_alone():
    g, h = np.array([1.3, -0.8]), np.array([[2.0, 0.7], [0.7, -1.5]])
    before = g.copy(), h.copy()
    newton_step(g, h)
    assert np.array_equal(g, before[0]), "newton_step changed the gradient that it was given"
    assert np.array_equal(h, before[1]), "newton_step changed the Hessian that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("gradient", "hessian", "named"),
    [
        ([np.nan, 1.0], np.eye(2), "gradient"),
        ([[1.0]], np.eye(1), "gradient"),
        ([1.0, 2.0], np.eye(3), "hessian"),
        ([1.0, 2.0], np.array([[1.0, 2.0], [0.0, 1.0]]), "hessian"),
    ],
)
def test_newton_step_refuses(gradient, hessian, named):
    with pytest.raises(ValueError, match=named):
        newton_step(np.array(gradient), hessian)


# step_fraction


@pytest.mark.parametrize(
    ("x", "step", "expected"), [(0.1, 4.95, 0.25), (2.0, -0.75, 1.0), (0.3, 1.9, 0.5), (0.02, 24.99, 1 / 32)]
)
def test_step_fraction_is_the_first_that_shortens_the_gradient(x, step, expected):
    # The gradient 3 x^2 - 3; the first case is that of the note.
    found = step_fraction(lambda x: 3 * x**2 - 3, np.array([x]), np.array([step]))
    call = f"step_fraction(3 x^2 - 3, [{x}], [{step}])"
    assert found == expected, f"{call} returned {found}; the first of 1, 1/2, 1/4, ... that obeys (7) is {expected}"


def test_step_fraction_is_about_the_length_of_the_gradient():
    # One entry grows from 0.1 to 0.5, the other falls from 4 to 1: (7) holds for the full step.
    found = step_fraction(lambda p: np.array([0.1 + 0.4 * p[0], 4 - 3 * p[1]]), np.zeros(2), np.ones(2))
    assert found == 1, (
        f"step_fraction returned {found}, where the gradient goes from (0.1, 4) to (0.5, 1): (7) holds for t = 1"
    )


def test_step_fraction_asks_for_a_share_of_what_is_possible():
    # The gradient shortens with the full step, but by a hundred-thousandth only: (7) wants ten times that.
    found = step_fraction(lambda p: 2 * np.abs(1 - p * 0.999995 - 0.5) + 0 * p, np.zeros(1), np.array([1.0]))
    assert found == 0.5, (
        f"step_fraction returned {found}, where the full step shortens the gradient from 1 to 0.99999: (7) asks for more"
    )


def made_of(before, *ahead):
    """A gradient of one variable: its size at 0, and at 1, 1/2, 1/4, ... and nowhere else small."""
    sizes = {0.0: before} | {0.5**i: size for i, size in enumerate(ahead)}
    return lambda p: np.array([sizes.get(float(p[0]), 9.0)])


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        ((0.99985,), 1.0),  # at most 0.9999
        ((0.99995, 0.5), 0.5),
        ((2.0, 0.99993), 0.5),  # at most 0.99995
        ((2.0, 0.99996, 0.3), 0.25),
        ((2.0,) * 50 + (0.5,), 2.0**-50),
        ((2.0,) * 51 + (0.5,), 0.0),
    ],
)
def test_step_fraction_asks_for_just_what_the_condition_says(ahead, expected):
    found = step_fraction(made_of(1.0, *ahead), np.zeros(1), np.ones(1))
    told = ", ".join(f"{size:g}" for size in ahead[:3]) + (
        f", ... and {ahead[-1]:g} as number {len(ahead)}" if len(ahead) > 3 else ""
    )
    assert found == expected, (
        f"step_fraction returned {found}, where the gradient falls from 1 to {told} for t = 1, 1/2, ...; by (7) it is {expected}"
    )


def test_step_fraction_is_one_where_there_is_nothing_to_shorten():
    found = step_fraction(np.zeros_like, np.ones(1), np.ones(1))
    assert found == 1, (
        f"step_fraction(a gradient of zero everywhere) returned {found}: 0 is at most 0, so (7) holds for t = 1"
    )


def test_step_fraction_does_not_go_where_the_gradient_is_not_a_number():
    with np.errstate(invalid="ignore"):
        found = step_fraction(np.log, np.array([5.0]), np.array([-8.05]))
    assert found == 0.5, (
        f"step_fraction(log x, [5], [-8.05]) returned {found}; at -3.05 the gradient is no number, at 0.975 it is"
    )


def test_step_fraction_is_zero_where_nothing_helps():
    found = step_fraction(lambda x: np.exp(x) + 1, np.array([0.0]), np.array([1.0]))
    assert found == 0, f"step_fraction(e^x + 1, [0], [1]) returned {found}: the gradient grows along the step"


def test_step_fraction_leaves_its_arguments_alone():
    x, step = np.array([0.1, 2.0]), np.array([4.95, -0.75])
    step_fraction(lambda x: 3 * x**2 - 3, x, step)
    assert np.array_equal(x, [0.1, 2.0]) and np.array_equal(step, [4.95, -0.75]), "step_fraction changed its arguments"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "step", "named"), [([np.nan], [1.0], "x"), ([1.0], [np.inf], "step"), ([1.0], [1.0, 2.0], "step")]
)
def test_step_fraction_refuses(x, step, named):
    with pytest.raises(ValueError, match=named):
        step_fraction(lambda x: x, np.array(x), np.array(step))


def test_step_fraction_refuses_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match="gradient"):
        step_fraction(lambda x: x[:1], np.ones(2), np.ones(2))


# newton


@pytest.mark.parametrize("signs", list(itertools.product([-1, 0, 1], repeat=3)))
def test_newton_comes_to_the_critical_point_nearby_whatever_its_kind(signs):
    x = np.array(signs) * np.sqrt(B)
    found = newton(wells_gradient, wells_hessian, x + [0.04, -0.05, 0.06])
    call = f"newton(gradient, hessian, start near {x.round(2)})"
    assert found.converged, f"{call} did not converge"
    assert_close(found.x, x, call + ".x", "the gradient vanishes there", **NEAR)


def test_newton_reports_where_it_ended():
    found = newton(himmelblau_gradient, himmelblau_hessian, np.array([2.6, 2.4]))
    call = "newton(Himmelblau's, start=[2.6, 2.4])"
    assert_close(found.x, np.array([3.0, 2.0]), call + ".x", "the minimum at (3, 2)", **NEAR)
    length = np.linalg.norm(himmelblau_gradient(found.x))
    assert_close(
        found.gradient_norm, length, call + ".gradient_norm", "the length of the gradient at .x", rtol=1e-6, atol=1e-13
    )
    assert found.gradient_norm <= 1e-10, (
        f"{call}.gradient_norm is {found.gradient_norm:.3g}, above the tolerance of 1e-10"
    )


def test_newton_is_fast_near_the_end():
    # Each step squares the error, so that from 0.1 away it takes 5 or 6 steps to 1e-10.
    found = newton(himmelblau_gradient, himmelblau_hessian, np.array([3.1, 1.9]))
    assert 3 <= found.n_steps <= 7, (
        f"newton(Himmelblau's, start=[3.1, 1.9]) took {found.n_steps} steps; (5) should take 4 to 6"
    )


def test_newton_makes_full_steps_where_they_help():
    start = np.array([4.0, -3.0])
    h, centre = turned([0.6, -2.0]), np.array([0.3, 1.1])
    found = newton(lambda x: h @ (x - centre), lambda x: h, start, tol=1e-8)
    assert found.n_steps == 1, (
        f"newton took {found.n_steps} steps on a quadratic; one step (5) leads to its critical point"
    )


@pytest.mark.parametrize("start", [1.2, -3.0, 9.0])
def test_newton_halves_steps_that_go_too_far(start):
    # f = log cosh x has the gradient tanh x; beyond 1.09 full steps go further and further away.
    found = newton(lambda x: np.tanh(x), lambda x: np.diag(1 - np.tanh(x) ** 2), np.array([start]))
    call = f"newton(tanh, start=[{start}])"
    assert found.converged, (
        f"{call} did not converge: it ended at {found.x} after {found.n_steps} steps; (7) halves its steps"
    )
    assert_close(found.x, np.zeros(1), call + ".x", "the minimum at 0", rtol=0, atol=1e-9)


def test_newton_shortens_the_gradient_with_every_step():
    # One step at a time, from far away.
    x, lengths = np.array([0.1, 0.3]), [np.linalg.norm(himmelblau_gradient(np.array([0.1, 0.3])))]
    for _ in range(6):
        found = newton(himmelblau_gradient, himmelblau_hessian, x, max_steps=1)
        x = found.x
        lengths.append(found.gradient_norm)
    assert all(b < a or b <= 1e-10 for a, b in itertools.pairwise(lengths)), (
        f"six single steps of newton from [0.1, 0.3] have gradients of lengths {np.round(lengths, 4)}: (7) makes them fall"
    )


def test_newton_stops_after_the_steps_it_is_allowed():
    found = newton(himmelblau_gradient, himmelblau_hessian, np.array([0.5, 4.5]), max_steps=2)
    assert found.n_steps == 2, f"newton(..., max_steps=2) made {found.n_steps} steps"
    assert not found.converged, "newton(..., max_steps=2) says that it converged, with a gradient that is not small"
    none = newton(himmelblau_gradient, himmelblau_hessian, np.array([0.5, 4.5]), max_steps=0)
    assert (none.n_steps, none.converged) == (0, False), f"newton(..., max_steps=0) returned {none}"
    assert_close(none.x, np.array([0.5, 4.5]), "newton(..., max_steps=0).x", "the start")


def test_newton_at_a_critical_point_makes_no_step():
    found = newton(himmelblau_gradient, himmelblau_hessian, np.array([3.0, 2.0]))
    assert (found.n_steps, found.converged) == (0, True), f"newton(Himmelblau's, start=[3, 2]) returned {found}"


def test_newton_goes_by_the_tolerance_that_it_is_given():
    loose = newton(himmelblau_gradient, himmelblau_hessian, np.array([2.6, 2.4]), tol=0.5)
    assert 1e-10 < loose.gradient_norm <= 0.5, (
        f"newton(..., tol=0.5) ended with a gradient of {loose.gradient_norm:.3g}"
    )
    assert loose.converged, "newton(..., tol=0.5) says that it did not converge, with a gradient within the tolerance"


def test_newton_gives_up_where_the_hessian_is_singular():
    found = newton(lambda x: np.array([1.0, x[1]]), lambda x: np.diag([0.0, 1.0]), np.array([2.0, 3.0]))
    assert not found.converged, f"newton on a plane that nowhere is flat returned {found}"
    assert_close(found.x, np.array([2.0, 3.0]), "newton(singular Hessian, start=[2, 3]).x", "the last point")


def test_newton_gives_up_where_no_step_helps():
    # The gradient x^2 + 1 has no zero: at 0 it is shortest, and near it steps are long and useless.
    found = newton(lambda x: x**2 + 1, lambda x: np.diag(2 * x), np.array([0.7]))
    assert not found.converged, f"newton(x^2 + 1, start=[0.7]) returned {found}: there is no critical point"
    assert found.gradient_norm <= 1.5, (
        f"newton(x^2 + 1, start=[0.7]) ended with a gradient of {found.gradient_norm:.3g}"
    )


def test_newton_does_not_count_steps_on_the_spot():
    # So near to 0 the gradient x^2 + 1 is 1 to the last digit, and each fraction of the step, which leads far away, is too long.
    found = newton(lambda x: x**2 + 1, lambda x: np.diag(2 * x), np.array([1e-9]))
    assert not found.converged, f"newton(x^2 + 1, start=[1e-9]) returned {found}: there is no critical point"
    assert found.n_steps == 0, (
        f"newton(x^2 + 1, start=[1e-9]) made {found.n_steps} steps, but none of them moves by (7)"
    )


def test_newton_has_converged_if_the_gradient_is_as_long_as_the_tolerance():
    found = newton(lambda x: x, lambda x: np.eye(1), np.array([0.5]), tol=0.5)
    assert (found.n_steps, found.converged) == (0, True), f"newton(x, start=[0.5], tol=0.5) returned {found}"


def test_newton_does_not_step_to_where_the_gradient_is_not_finite():
    # f = x log x - x has the gradient log x; a full step from 5 leads to a negative x, where it is not a number.
    with np.errstate(invalid="ignore"):
        found = newton(lambda x: np.log(x), lambda x: np.diag(1 / x), np.array([5.0]))
    assert found.converged, f"newton(log x, start=[5]) returned {found}: shorter steps stay where log x exists"
    assert_close(found.x, np.ones(1), "newton(log x, start=[5]).x", "the minimum at 1", **NEAR)


def test_newton_leaves_its_start_alone():
    start = np.array([2.6, 2.4])
    newton(himmelblau_gradient, himmelblau_hessian, start)
    assert np.array_equal(start, [2.6, 2.4]), "newton changed the start that it was given"


def test_newton_accepts_a_start_of_whole_numbers():
    h, centre = turned([0.6, -2.0]), np.array([0.3, 1.1])
    found = newton(lambda x: h @ (x - centre), lambda x: h, np.array([4, 1]))
    assert_close(found.x, centre, "newton(a quadratic's, start=[4, 1]).x", "its critical point", **NEAR)


@pytest.mark.given
@pytest.mark.parametrize(
    ("start", "options", "named"),
    [
        ([np.nan, 1.0], {}, "start"),
        ([[1.0, 1.0]], {}, "start"),
        ([1.0, 1.0], {"tol": 0.0}, "tol"),
        ([1.0, 1.0], {"max_steps": -1}, "max_steps"),
    ],
)
def test_newton_refuses(start, options, named):
    with pytest.raises(ValueError, match=named):
        newton(himmelblau_gradient, himmelblau_hessian, np.array(start), **options)


@pytest.mark.parametrize(
    ("gradient", "hessian", "named"),
    [(lambda x: x[:1], himmelblau_hessian, "gradient"), (himmelblau_gradient, lambda x: np.eye(3), "hessian")],
)
def test_newton_refuses_derivatives_of_another_shape(gradient, hessian, named):
    with pytest.raises(ValueError, match=named):
        newton(gradient, hessian, np.array([0.5, 4.5]))


# distinct


def test_distinct_keeps_one_of_each_bunch():
    middles = np.array([[0.3, -1.2, 4.0], [0.3, 1.2, 4.0], [-2.5, 0.0, 1.1]])
    order = np.random.default_rng(2).permutation(30)
    points = (np.repeat(middles, 10, axis=0) + np.random.default_rng(3).uniform(-0.01, 0.01, (30, 3)))[order]
    found = distinct(points, apart=0.1)
    assert len(found) == 3, f"distinct(three bunches of ten points, apart=0.1) returned {len(found)} points"
    for middle in middles:
        assert (np.linalg.norm(found - middle, axis=1) < 0.02).sum() == 1, (
            f"distinct: {middle.tolist()} does not occur once in {found}"
        )


def test_distinct_returns_some_of_the_points():
    points = np.array([[0.3, 1.7], [0.31, 1.7], [5.0, -2.0]])
    found = distinct(points, apart=0.1)
    assert all((point == points).all(axis=1).any() for point in found), (
        f"distinct(points) returned {found}, not all among them"
    )


def test_distinct_measures_distances_not_single_coordinates():
    # Neighbours that share a coordinate, and two whose coordinates are each within 0.1 but not their distance.
    points = np.array([[1.0, 2.0], [1.0, 5.0], [4.0, 2.0], [4.08, 2.08]])
    found = distinct(points, apart=0.1)
    assert len(found) == 4, (
        f"distinct({points.tolist()}, apart=0.1) returned {len(found)} points; no two are within 0.1"
    )


def test_distinct_does_not_merge_along_a_chain():
    # 0.07 from link to link: no two of those that are kept may be within 0.1, and none may be further than that from all.
    points = np.column_stack([0.07 * np.arange(8), np.zeros(8)])
    found = distinct(points, apart=0.1)
    between = np.linalg.norm(found[:, None] - found, axis=2)[np.triu_indices(len(found), 1)]
    assert (between >= 0.1).all(), f"distinct(a chain, apart=0.1) kept {found[:, 0]}, of which some are nearer than 0.1"
    assert (np.linalg.norm(points[:, None] - found, axis=2).min(axis=1) < 0.1).all(), (
        f"distinct(a chain, apart=0.1) kept {found[:, 0]}, and left out some that are 0.1 or more away from all of them"
    )


def test_distinct_keeps_points_that_are_just_so_far_apart():
    found = distinct(np.array([[1.0, 2.0], [1.0, 2.5], [1.5, 2.0]]), apart=0.5)
    assert len(found) == 3, (
        f"distinct(points at distances of 0.5, apart=0.5) kept {len(found)} of 3: none is nearer than 0.5"
    )


def test_distinct_of_no_points_is_none():
    assert distinct(np.empty((0, 3)), apart=0.1).shape == (0, 3), (
        "distinct(no points of three coordinates) has another shape"
    )


def test_distinct_leaves_its_points_alone():
    points = np.array([[0.3, 1.7], [0.31, 1.7], [-5.0, -2.0]])
    before = points.copy()
    distinct(points, apart=0.1)
    assert np.array_equal(points, before), "distinct changed the points that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("points", "apart", "named"), [(np.ones(3), 0.1, "points"), ([[np.nan]], 0.1, "points"), ([[1.0]], 0.0, "apart")]
)
def test_distinct_refuses(points, apart, named):
    with pytest.raises(ValueError, match=named):
        distinct(np.array(points), apart)


# find_critical_points


def test_find_critical_points_finds_all_of_the_wells():
    points = np.array(list(itertools.product([-1, 0, 1], repeat=3))) * np.sqrt(B)
    starts = np.tile(points, (2, 1)) + np.random.default_rng(4).uniform(-0.1, 0.1, (54, 3))
    found = find_critical_points(wells_gradient, wells_hessian, starts)
    expected = sorted(tuple(np.round(point, 5) + 0.0) for point in points)
    places = [tuple(np.round(point.x, 5) + 0.0) for point in by_place(found)]
    assert places == expected, (
        f"find_critical_points found {len(places)} points; the 27 are 0 or a root in each coordinate"
    )
    for point in found:
        zeros = (np.abs(point.x) < 0.1).sum()
        kind = "minimum" if zeros == 0 else "maximum" if zeros == 3 else "saddle"
        assert point.kind == kind, (
            f"find_critical_points says that {point.x.round(3)} is a {point.kind}; by (4) it is a {kind}"
        )


def test_find_critical_points_of_himmelblaus_function():
    starts = np.array([[x, y] for x in np.linspace(-5, 5, 7) for y in np.linspace(-5, 5, 7)])
    kinds = [point.kind for point in find_critical_points(himmelblau_gradient, himmelblau_hessian, starts)]
    counts = {kind: kinds.count(kind) for kind in ("minimum", "saddle", "maximum")}
    assert counts == {"minimum": 4, "saddle": 4, "maximum": 1}, (
        f"find_critical_points(Himmelblau's) found {counts}; there are four minima, four saddles and a maximum, of sum 1 (8)"
    )


def test_find_critical_points_on_a_torus_sum_to_zero():
    starts = np.random.default_rng(5).uniform(-np.pi, np.pi, (40, 2))
    found = find_critical_points(torus_gradient, torus_hessian, starts)
    ends = [np.round(np.mod(point.x + 1e-7, 2 * np.pi), 4) for point in found]
    unique = {tuple(end): point.kind for end, point in zip(ends, found)}
    total = sum({"minimum": 1, "maximum": 1, "saddle": -1}[kind] for kind in unique.values())
    assert len(unique) >= 4, f"find_critical_points on the torus found {unique}: at least four points exist"
    assert total == 0, f"find_critical_points on the torus found {unique}, of sum {total}; equation (8) says 0"


def test_find_critical_points_tells_a_monkey_saddle():
    # f = x^3 - 3 x y^2 is flat to second order at 0; each Newton step only halves the distance.
    found = find_critical_points(
        lambda p: np.array([3 * p[0] ** 2 - 3 * p[1] ** 2, -6 * p[0] * p[1]]),
        lambda p: np.array([[6 * p[0], -6 * p[1]], [-6 * p[1], -6 * p[0]]]),
        np.array([[1.0, 0.3], [-0.4, 0.9], [0.2, -1.1]]),
    )
    told = [(point.x.round(3).tolist(), point.kind) for point in found]
    assert len(found) == 1 and found[0].kind == "degenerate", f"find_critical_points(x^3 - 3 x y^2) found {told}"
    assert np.abs(found[0].x).max() < 1e-4, f"find_critical_points(x^3 - 3 x y^2) found {told}; it is at 0"


def test_find_critical_points_leaves_out_searches_that_do_not_converge():
    found = find_critical_points(lambda x: x**2 + 1, lambda x: np.diag(2 * x), np.array([[0.7], [-2.0]]))
    assert found == [], f"find_critical_points(gradient x^2 + 1) returned {found}: the gradient has no zero"


def test_find_critical_points_hands_its_tolerances_on():
    # A minimum with the curvatures 2 and 0.03, and another one 0.02 away along the second axis of a double well.
    def gradient(p):
        return np.array([2 * p[0], 4 * p[1] * (p[1] ** 2 - 0.0001)])

    def hessian(p):
        return np.diag([2.0, 12 * p[1] ** 2 - 0.0004])

    starts = np.array([[0.5, 0.012], [0.5, -0.012], [0.5, 0.0001]])
    for options, n_found, kinds in (
        ({"flat": 1e-5}, 3, {"minimum", "saddle"}),
        ({"flat": 1e-2}, 3, {"degenerate"}),
        ({"flat": 1e-5, "apart": 0.1}, 1, None),
        ({"tol": 2.0}, 3, None),
    ):
        found = find_critical_points(gradient, hessian, starts, **options)
        told = [(point.x.round(4).tolist(), point.kind) for point in found]
        assert len(found) == n_found, f"find_critical_points(..., {options}) found {told}, expected {n_found} points"
        assert kinds is None or {point.kind for point in found} == kinds, (
            f"find_critical_points(..., {options}) found {told}"
        )
    coarse = find_critical_points(gradient, hessian, starts, tol=2.0)
    assert all(point.x[0] == 0.5 for point in coarse), (
        "find_critical_points(..., tol=2) made steps: the starts are good enough"
    )


def test_find_critical_points_leaves_its_starts_alone():
    starts = np.array([[2.6, 2.4], [-3.0, 3.0]])
    before = starts.copy()
    find_critical_points(himmelblau_gradient, himmelblau_hessian, starts)
    assert np.array_equal(starts, before), "find_critical_points changed the starts that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("starts", "options", "named"),
    [
        (np.ones(3), {}, "starts"),
        (np.array([[np.inf, 1.0]]), {}, "starts"),
        (np.ones((1, 2)), {"flat": 0.0}, "flat"),
        (np.ones((1, 2)), {"apart": -1.0}, "apart"),
    ],
)
def test_find_critical_points_refuses(starts, options, named):
    with pytest.raises(ValueError, match=named):
        find_critical_points(himmelblau_gradient, himmelblau_hessian, starts, **options)
