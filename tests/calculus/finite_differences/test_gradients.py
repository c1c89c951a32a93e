"""Shared tests of calculus/finite_differences/gradients: run on the reference, and on the learner's file.

The default steps leave an error near 1e-10 of the largest term in first differences and 1e-8 of it in second ones (the note,
before equation (8)). The tolerances are a hundred times that, and a thousandth of what the mistakes do. Polynomials
of low degree have no truncation error, so that large steps give them nearly exactly.
"""

import numpy as np
import pytest

from mlpath.calculus.finite_differences.gradients import (
    directional_derivative,
    gradient,
    gradient_mismatch,
    hessian,
    hessian_vector_product,
    jacobian,
)
from mlpath.testing import assert_close

FIRST = {"rtol": 1e-8, "tolerance": "the best step leaves some 10 digits"}
SECOND = {"rtol": 1e-5, "tolerance": "the best step leaves some 7 digits"}
X = np.array([1.3, -0.7, 2.1])
A = np.array([[2.3, -0.4, 0.7], [-0.4, 1.9, 1.1], [0.7, 1.1, -3.1]])  # symmetric, indefinite
B = np.array([0.6, -1.7, 2.2])
D = np.array([0.3, 2.4, -1.1])


def quadratic(x):
    return 0.5 * x @ A @ x + B @ x + 4.0


def uneven(x):
    """Each variable plays a part of its own."""
    return np.exp(0.3 * x[0]) * np.sin(x[1]) + x[2] ** 3 * x[0]


def uneven_gradient(x):
    e = np.exp(0.3 * x[0])
    return np.array([0.3 * e * np.sin(x[1]) + x[2] ** 3, e * np.cos(x[1]), 3 * x[2] ** 2 * x[0]])


def uneven_hessian(x):
    e = np.exp(0.3 * x[0])
    first, mixed, third = 0.09 * e * np.sin(x[1]), 0.3 * e * np.cos(x[1]), 3 * x[2] ** 2
    return np.array([[first, mixed, third], [mixed, -e * np.sin(x[1]), 0], [third, 0, 6 * x[2] * x[0]]])


def outputs(x):
    """Five outputs of three variables."""
    return np.array([x[0] * x[1], np.sin(x[2]), x[0] ** 2 + 0.5 * x[2], 7.0, x[1] * x[2] * x[0]])


def outputs_jacobian(x):
    zero = [0, 0, 0]
    return np.array(
        [[x[1], x[0], 0], [0, 0, np.cos(x[2])], [2 * x[0], 0, 0.5], zero, [x[1] * x[2], x[2] * x[0], x[0] * x[1]]]
    )


def log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


def softmax(x):
    return np.exp(x - log_sum_exp(x))


CALLS = {
    "directional_derivative": lambda x: directional_derivative(quadratic, x, D),
    "gradient": lambda x: gradient(quadratic, x),
    "jacobian": lambda x: jacobian(outputs, x),
    "hessian": lambda x: hessian(quadratic, x),
    "hessian_vector_product": lambda x: hessian_vector_product(lambda x: A @ x, x, D),
    "gradient_mismatch": lambda x: gradient_mismatch(quadratic, lambda x: A @ x + B, x, rng=np.random.default_rng(0)),
}


def leaves_its_point_alone(name):
    x, d = X.copy(), D.copy()
    CALLS[name](x)
    assert np.array_equal(x, X), f"{name} changed the point that it was given"
    assert np.array_equal(d, D), f"{name} changed the direction that it was given"


# directional_derivative


def test_directional_derivative_is_the_gradient_times_the_direction():
    slope = directional_derivative(quadratic, X, D)
    assert_close(slope, (A @ X + B) @ D, f"directional_derivative(quadratic, {X}, {D})", "equation (2)", **FIRST)


def test_directional_derivative_goes_to_both_sides():
    # With a central difference the square terms cancel, so that a quadratic is exact with any step.
    slope, call = directional_derivative(quadratic, X, D, 0.5), f"directional_derivative(quadratic, {X}, {D}, step=0.5)"
    assert_close(slope, (A @ X + B) @ D, call, "equation (1)", rtol=1e-11)


def test_directional_derivative_grows_with_the_direction():
    slope, call = directional_derivative(uneven, X, -250 * D), f"directional_derivative(uneven, {X}, -250 d)"
    assert_close(slope, uneven_gradient(X) @ (-250 * D), call, "equation (2)", **FIRST)


@pytest.mark.parametrize("length", [1e-150, 1e-6, 1e6, 1e150])
def test_directional_derivative_of_a_very_long_or_short_direction(length):
    slope = directional_derivative(uneven, X, length * D)
    call = f"directional_derivative(uneven, {X}, {length:g} d)"
    assert_close(slope, uneven_gradient(X) @ D * length, call, "equation (2)", **FIRST)


def test_directional_derivative_far_from_the_origin():
    x = 1e8 * X
    slope, call = directional_derivative(quadratic, x, D), f"directional_derivative(quadratic, {x}, {D})"
    assert_close(slope, (A @ x + B) @ D, call, "equations (2), (8)", **FIRST)


def test_directional_derivative_along_the_zero_vector_is_zero():
    slope = directional_derivative(uneven, X, np.zeros(3))
    assert slope == 0, f"directional_derivative(uneven, {X}, zeros) returned {slope}: equation (2) gives 0"


def test_directional_derivative_leaves_its_point_alone():
    leaves_its_point_alone("directional_derivative")


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "direction", "step", "named"),
    [
        ([1.0, np.nan], [1.0, 2.0], None, "x"),
        ([], [], None, "x"),
        ([[1.0]], [[1.0]], None, "x"),
        ([1.0, 2.0], [1.0, np.inf], None, "direction"),
        ([1.0, 2.0], [1.0], None, "direction"),
        ([1.0, 2.0], [1.0, 1.0], 0.0, "step"),
        ([1.0, 2.0], [1.0, 1.0], np.inf, "step"),
    ],
)
def test_directional_derivative_refuses(x, direction, step, named):
    with pytest.raises(ValueError, match=named):
        directional_derivative(lambda x: x.sum(), np.array(x), np.array(direction), step)


@pytest.mark.parametrize("wrong", [lambda x: x, lambda x: np.nan, lambda x: np.array([1.0])])
def test_directional_derivative_refuses_a_function_that_returns_no_number(wrong):
    with pytest.raises(ValueError, match="f"):
        directional_derivative(wrong, X, D)


# gradient


def test_gradient_of_a_quadratic_is_exact_with_any_step():
    assert_close(
        gradient(quadratic, X, 0.5), A @ X + B, f"gradient(quadratic, {X}, step=0.5)", "equation (3)", rtol=1e-11
    )


def test_gradient_of_a_function_that_treats_each_variable_in_its_own_way():
    assert_close(gradient(uneven, X), uneven_gradient(X), f"gradient(uneven, {X})", "equation (3)", **FIRST)


def test_gradient_of_many_variables():
    x = np.random.default_rng(1).normal(0.5, 2, 40)
    found = gradient(log_sum_exp, x)
    # The entries are at most 1, and each is as wrong as values of size 5 make it.
    assert_close(found, softmax(x), "gradient(log_sum_exp, x) of 40 variables", "the softmax", rtol=0, atol=1e-9)


def test_gradient_takes_a_step_for_each_variable():
    x = np.array([3e8, 0.5])
    # A step of 6e-6 beside 3e8 is lost in rounding, and one of 6e-6 * 3e8 beside 0.5 leaves the parabola's other arm.
    found = gradient(lambda x: 1e-9 * x[0] ** 2 + np.sin(x[1]), x)
    expected = np.array([0.6, np.cos(0.5)])
    call = "gradient(1e-9 x0^2 + sin x1, [3e8, 0.5])"
    # The values are near 1e8, whose rounding of 1e-8 over a step of 6e-6 leaves two to three digits of the second entry.
    assert_close(found, expected, call, "equations (3), (8)", rtol=2e-2)
    assert_close(found[:1], expected[:1], call + "[:1]", "equations (3), (8)", **FIRST)


def test_gradient_of_a_float32_is_one():
    found = gradient(quadratic, X.astype(np.float32))
    assert found.dtype == np.float32, f"gradient(quadratic, float32 point) returned {found.dtype}"


def test_gradient_accepts_whole_numbers():
    found = gradient(uneven, np.array([1, -2, 3]))
    assert_close(
        found, uneven_gradient(np.array([1.0, -2, 3])), "gradient(uneven, [1, -2, 3])", "equation (3)", **FIRST
    )


def test_gradient_leaves_its_point_alone():
    leaves_its_point_alone("gradient")


@pytest.mark.given
@pytest.mark.parametrize(("x", "step", "named"), [([np.nan], None, "x"), ([[1.0]], None, "x"), ([1.0], -1.0, "step")])
def test_gradient_refuses(x, step, named):
    with pytest.raises(ValueError, match=named):
        gradient(lambda x: x.sum(), np.array(x), step)


def test_gradient_refuses_a_function_that_is_not_finite_around_the_point():
    with pytest.raises(ValueError, match="f"):
        gradient(lambda x: np.log(x[0]) if x[0] > 0 else np.nan, np.array([1e-9, 1.0]))


# jacobian


def test_jacobian_has_the_gradient_of_each_output_in_its_row():
    found = jacobian(outputs, X)
    # An entry is as wrong as the values of size 3 make it: some 1e-10.
    assert_close(found, outputs_jacobian(X), f"jacobian(outputs, {X})", "equation (4)", rtol=1e-8, atol=1e-8)


def test_jacobian_of_a_linear_map_is_its_matrix_with_any_step():
    m = np.array([[1.7, -0.3, 2.2], [0.9, 4.1, -1.6]])
    found = jacobian(lambda x: m @ x + 3.0, X, 0.7)
    assert_close(found, m, "jacobian(M x + 3, x, step=0.7)", "equation (4)", rtol=1e-11)


def test_jacobian_goes_to_both_sides():
    found = jacobian(lambda x: np.array([x[0] ** 2, x[1] * x[2]]), X, 0.7)
    expected = np.array([[2.6, 0, 0], [0, 2.1, -0.7]])
    assert_close(found, expected, f"jacobian([x0^2, x1 x2], {X}, step=0.7)", "equation (4)", rtol=1e-11, atol=1e-13)


def test_jacobian_takes_a_step_for_each_variable():
    found = jacobian(lambda x: np.array([1e-9 * x[0] ** 2, np.sin(x[1])]), np.array([3e8, 0.5]))
    expected = np.array([[0.6, 0.0], [0.0, np.cos(0.5)]])
    assert_close(found, expected, "jacobian([1e-9 x0^2, sin x1], [3e8, 0.5])", "equations (4), (8)", **FIRST)


def test_jacobian_of_one_output_has_one_row():
    found = jacobian(lambda x: np.array([quadratic(x)]), X)
    assert_close(found, (A @ X + B)[None], "jacobian([quadratic], x)", "equation (4)", **FIRST)


def test_jacobian_of_a_float32_is_one():
    found = jacobian(outputs, X.astype(np.float32))
    assert found.dtype == np.float32, f"jacobian(outputs, float32 point) returned {found.dtype}"


def test_jacobian_leaves_its_point_alone():
    leaves_its_point_alone("jacobian")


def test_jacobian_refuses_a_function_that_returns_a_number():
    with pytest.raises(ValueError, match="f"):
        jacobian(quadratic, X)


@pytest.mark.given
@pytest.mark.parametrize(("x", "step", "named"), [([np.nan], None, "x"), ([1.0], 0.0, "step")])
def test_jacobian_refuses(x, step, named):
    with pytest.raises(ValueError, match=named):
        jacobian(lambda x: x, np.array(x), step)


# hessian


def test_hessian_of_a_quadratic_is_its_matrix_with_any_step():
    assert_close(hessian(quadratic, X, 0.4), A, f"hessian(quadratic, {X}, step=0.4)", "equations (5), (6)", rtol=1e-11)


def test_hessian_of_a_function_that_treats_each_variable_in_its_own_way():
    found = hessian(uneven, X)
    call = f"hessian(uneven, {X})"
    assert_close(found, uneven_hessian(X), call, "equations (5), (6)", atol=1e-5, **SECOND)


def test_hessian_of_a_mixed_cubic_has_no_error_on_the_side():
    # x^2 y + 0.3 x y^2: (5) is exact for it, where differences to one side are off by the step.
    found = hessian(lambda x: x[0] ** 2 * x[1] + 0.3 * x[0] * x[1] ** 2, np.array([1.3, -0.7]), 0.4)
    expected = np.array([[-1.4, 2.18], [2.18, 0.78]])
    assert_close(found, expected, "hessian(x^2 y + 0.3 x y^2, [1.3, -0.7], step=0.4)", "equations (5), (6)", rtol=1e-11)


def test_hessian_takes_a_step_for_each_variable():
    x = np.array([2e4, 0.5])
    found = hessian(lambda x: 1e-13 * x[0] ** 3 + x[0] * x[1] * 1e-5 + np.sin(x[1]), x)
    expected = np.array([[1.2e-8, 1e-5], [1e-5, -np.sin(0.5)]])
    call = "hessian(1e-13 x0^3 + 1e-5 x0 x1 + sin x1, [2e4, 0.5])"
    # Values of size 1 are rounded by 1e-16, and over steps of 1e-4 squared that is 1e-8 for the last entry.
    assert_close(found, expected, call, "equations (5), (6), (8)", rtol=1e-5)


def test_hessian_is_symmetric():
    found = hessian(log_sum_exp, np.random.default_rng(2).normal(0.5, 2, 12))
    assert np.array_equal(found, found.T), (
        "hessian(log_sum_exp, x) of 12 variables is not symmetric; (5) is, to the last digit"
    )


def test_hessian_of_many_variables():
    x = np.random.default_rng(2).normal(0.5, 2, 12)
    p = softmax(x)
    call, because = "hessian(log_sum_exp, x) of 12 variables", "diag(p) - p p', p the softmax"
    assert_close(hessian(log_sum_exp, x), np.diag(p) - np.outer(p, p), call, because, rtol=0, atol=1e-6)


def test_hessian_of_a_float32_is_one():
    found = hessian(quadratic, X.astype(np.float32))
    assert found.dtype == np.float32, f"hessian(quadratic, float32 point) returned {found.dtype}"


def test_hessian_leaves_its_point_alone():
    leaves_its_point_alone("hessian")


@pytest.mark.given
@pytest.mark.parametrize(("x", "step", "named"), [([np.nan], None, "x"), ([1.0], 0.0, "step")])
def test_hessian_refuses(x, step, named):
    with pytest.raises(ValueError, match=named):
        hessian(lambda x: x.sum(), np.array(x), step)


def test_hessian_refuses_a_function_that_returns_no_number():
    with pytest.raises(ValueError, match="f"):
        hessian(lambda x: x, X)


# hessian_vector_product


def test_hessian_vector_product_of_a_quadratic_is_exact_with_any_step():
    found = hessian_vector_product(lambda x: A @ x + B, X, D, 0.5)
    call = f"hessian_vector_product(A x + b, {X}, {D}, step=0.5)"
    assert_close(found, A @ D, call, "equation (7): A v", rtol=1e-11)


def test_hessian_vector_product_goes_to_both_sides():
    # The gradient of a cubic has square terms, which cancel between the two sides.
    found = hessian_vector_product(lambda x: np.array([x[0] ** 2, x[1] * x[2], 0.5 * x[1] ** 2]), X, D, 0.5)
    expected = np.array([2.6 * 0.3, 2.4 * 2.1 + 0.7 * 1.1, -0.7 * 2.4])
    call = f"hessian_vector_product([x0^2, x1 x2, x1^2 / 2], {X}, {D}, step=0.5)"
    assert_close(found, expected, call, "equation (7)", rtol=1e-11)


@pytest.mark.parametrize("length", [1.0, -1e-150, 1e150])
def test_hessian_vector_product_is_the_hessian_times_the_vector(length):
    found = hessian_vector_product(uneven_gradient, X, length * D)
    call = f"hessian_vector_product(uneven_gradient, {X}, {length:g} v)"
    assert_close(found, uneven_hessian(X) @ D * length, call, "equation (7)", **FIRST)


def test_hessian_vector_product_needs_a_few_gradients_only():
    calls = []

    def grad(x):
        calls.append(1)
        return softmax(x)

    hessian_vector_product(grad, np.linspace(-1, 2, 200), np.ones(200))
    assert len(calls) <= 4, (
        f"hessian_vector_product evaluated a gradient of 200 variables {len(calls)} times; (7) needs 2"
    )


def test_hessian_vector_product_of_the_zero_vector_is_zero():
    found = hessian_vector_product(uneven_gradient, X, np.zeros(3))
    assert_close(found, np.zeros(3), "hessian_vector_product(uneven_gradient, x, zeros)", "equation (7)")


def test_hessian_vector_product_of_a_float32_is_one():
    found = hessian_vector_product(lambda x: A @ x, X.astype(np.float32), D)
    assert found.dtype == np.float32, f"hessian_vector_product(A x, float32 point, v) returned {found.dtype}"


def test_hessian_vector_product_leaves_its_point_alone():
    leaves_its_point_alone("hessian_vector_product")


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "v", "step", "named"),
    [
        ([np.nan], [1.0], None, "x"),
        ([1.0], [1.0, 2.0], None, "v"),
        ([1.0], [np.nan], None, "v"),
        ([1.0], [1.0], 0.0, "step"),
    ],
)
def test_hessian_vector_product_refuses(x, v, step, named):
    with pytest.raises(ValueError, match=named):
        hessian_vector_product(lambda x: x, np.array(x), np.array(v), step)


def test_hessian_vector_product_refuses_a_gradient_that_is_no_vector():
    with pytest.raises(ValueError, match="grad"):
        hessian_vector_product(quadratic, X, D)


# gradient_mismatch


@pytest.mark.parametrize("factor", [1.6, 0.45, -3.7, 0.0])
def test_gradient_mismatch_of_a_multiple_of_the_gradient(factor):
    # Along every direction the promised slope is `factor` times the measured one: (9) does not depend on the draws.
    expected = abs(1 - factor) / (1 + abs(factor))
    found = gradient_mismatch(uneven, lambda x: factor * uneven_gradient(x), X, rng=np.random.default_rng(3))
    call = f"gradient_mismatch(uneven, {factor} times its gradient, {X})"
    # A direction along which the slope is a thousandth of its usual size has three digits fewer.
    assert_close(found, expected, call, "equation (9)", rtol=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_gradient_mismatch_along_one_direction_is_a_distance(seed):
    # The measured slope is larger than the promised one along half of the directions, and smaller along the others.
    found = gradient_mismatch(
        uneven, lambda x: 1.6 * uneven_gradient(x), X, n_directions=1, rng=np.random.default_rng(seed)
    )
    call = f"gradient_mismatch(uneven, 1.6 times its gradient, {X}, n_directions=1)"
    assert_close(found, 0.6 / 2.6, call, "equation (9)", rtol=1e-5)


def test_gradient_mismatch_of_the_right_gradient_is_rounding():
    x = np.random.default_rng(4).normal(0.5, 2, 100)
    found = gradient_mismatch(log_sum_exp, softmax, x, rng=np.random.default_rng(5))
    assert found < 1e-5, f"gradient_mismatch(log_sum_exp, softmax, x) returned {found:.2g}: the gradient is right"


@pytest.mark.parametrize("seed", range(5))
def test_gradient_mismatch_sees_one_wrong_entry_of_a_hundred(seed):
    # Entry 37 is off by 0.01, beside a softmax of length 0.3: along a normal direction the slopes differ by 0.01 |d_37|, and
    # they are below 2 but for one direction in 1e9. A mismatch below 1e-4 in all of ten directions has |d_37| < 0.04 ten
    # times: probability 0.03^10 < 1e-14.
    def wrong(x):
        claimed = softmax(x)
        claimed[37] += 0.01
        return claimed

    x = np.random.default_rng(4).normal(0.5, 2, 100)
    found = gradient_mismatch(log_sum_exp, wrong, x, rng=np.random.default_rng(seed))
    assert found > 1e-4, f"gradient_mismatch(log_sum_exp, softmax with entry 37 off by 0.01, x) returned {found:.2g}"


def test_gradient_mismatch_takes_the_worst_of_its_directions():
    # Two variables, one of which is wrong by half. Its mismatch is 1/3 along its own axis and 0 along the other. Of 400
    # directions the largest exceeds 0.9 where the two slopes nearly cancel; the mean is near 0.25.
    x = np.array([1.3, 2.1])
    f, claimed = (lambda x: x[0] ** 2 - x[1] ** 2), (lambda x: np.array([2 * x[0], -x[1]]))
    found = gradient_mismatch(f, claimed, x, n_directions=400, rng=np.random.default_rng(6))
    assert found > 0.9, (
        f"gradient_mismatch(x0^2 - x1^2, [2 x0, -x1], {x}, n_directions=400) returned {found:.3g}: "
        "the largest of 400 mismatches is above 0.9"
    )
    assert found <= 1, f"gradient_mismatch returned {found}: equation (9) is at most 1"


def test_gradient_mismatch_draws_as_many_directions_as_it_is_told():
    calls = []

    def f(x):
        calls.append(1)
        return log_sum_exp(x)

    gradient_mismatch(f, softmax, np.linspace(-1, 2, 300), n_directions=7, rng=np.random.default_rng(7))
    assert 14 <= len(calls) <= 28, (
        f"gradient_mismatch(f, softmax, x of 300 variables, n_directions=7) evaluated f {len(calls)} times: 7 directions need 14"
    )


def test_gradient_mismatch_of_a_constant_is_zero():
    found = gradient_mismatch(lambda x: 3.0, np.zeros_like, X, rng=np.random.default_rng(8))
    assert found == 0, f"gradient_mismatch(constant, zero gradient, x) returned {found}: both slopes are 0"


def test_gradient_mismatch_leaves_its_point_alone():
    leaves_its_point_alone("gradient_mismatch")


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "grad", "n_directions", "named"),
    [
        ([np.nan], lambda x: x, 3, "x"),
        ([1.0, 2.0], lambda x: x[:1], 3, "grad"),
        ([1.0, 2.0], lambda x: x * np.nan, 3, "grad"),
        ([1.0, 2.0], lambda x: x, 0, "n_directions"),
    ],
)
def test_gradient_mismatch_refuses(x, grad, n_directions, named):
    with pytest.raises(ValueError, match=named):
        gradient_mismatch(lambda x: x.sum(), grad, np.array(x), n_directions=n_directions, rng=np.random.default_rng(0))
