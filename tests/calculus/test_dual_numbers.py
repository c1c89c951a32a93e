"""Shared tests of calculus/dual_numbers: run on the reference, and on the learner's file.

Dual numbers make no error but rounding, so that all tolerances are a thousand roundings, 1e-12, or that of single precision.
"""

import numpy as np
import pytest

from mlpath.calculus.dual_numbers import (
    Dual,
    Layer,
    divide,
    elementwise,
    hessian_vector_product,
    jacobian,
    jvp,
    multiply,
    power,
    run,
    stack,
    vjp,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-12, "tolerance": "nothing but rounding separates them"}
X = np.array([1.37, -0.72, 2.13])
V = np.array([0.34, 2.41, -1.16])


def parts(dual):
    """Value and tangent, once it is sure that there are both."""
    assert isinstance(dual, Dual), f"a rule must return a Dual, got {type(dual).__name__}"
    return dual.value, dual.tangent


def assert_dual(actual, value, tangent, call, why, **tolerance):
    a, b = parts(actual)
    assert_close(a, value, f"the value of {call}", why, **(tolerance or ROUNDING))
    assert_close(b, tangent, f"the tangent of {call}", why, **(tolerance or ROUNDING))


# multiply


def test_multiply_follows_the_product_rule():
    call = "multiply(Dual(2.7, 1.3), Dual(6.1, -0.9))"
    assert_dual(multiply(Dual(2.7, 1.3), Dual(6.1, -0.9)), 16.47, 2.7 * -0.9 + 1.3 * 6.1, call, "equation (1)")


def test_multiply_treats_both_factors_alike():
    for v, w in (([0.0, 0.0, 0.0], V), (V, [0.0, 0.0, 0.0])):
        x, y = Dual(X, v), Dual(X[::-1], w)
        expected = X * np.array(w) + np.array(v) * X[::-1]
        assert_dual(multiply(x, y), X * X[::-1], expected, "multiply(x, y) with one constant factor", "equation (1)")


def test_multiply_broadcasts():
    x, y = Dual(X[:, None], V[:, None]), Dual([2.2, 3.3], [0.7, -0.4])
    expected = X[:, None] * [0.7, -0.4] + V[:, None] * [2.2, 3.3]
    assert_dual(
        multiply(x, y), X[:, None] * [2.2, 3.3], expected, "multiply((3, 1) numbers, 2 numbers)", "equation (1)"
    )


def test_multiply_keeps_the_level():
    got = multiply(Dual(2.0, 1.0, 7), Dual(3.0, 1.0, 7)).level
    assert got == 7, f"multiply of two Duals of level 7 returned level {got}, expected 7"


def test_multiply_serves_numpy():
    x = Dual(X, V)
    for call, got in (("x * x", x * x), ("np.multiply(x, x)", np.multiply(x, x))):
        assert_dual(got, X**2, 2 * X * V, call, "equation (1)")
    for call, got in (("3.5 * x", 3.5 * x), ("x * 3.5", x * 3.5)):
        assert_dual(got, 3.5 * X, 3.5 * V, call, "equation (1) with a constant factor")


# divide


def test_divide_follows_the_quotient_rule():
    call = "divide(Dual(12.6, 4.1), Dual(8.4, -1.7))"
    expected = (4.1 - 1.5 * -1.7) / 8.4
    assert_dual(divide(Dual(12.6, 4.1), Dual(8.4, -1.7)), 1.5, expected, call, "equation (2)")


def test_divide_undoes_multiply():
    x, y = Dual(X, V), Dual(X[::-1], [1.9, 0.3, -2.4])
    assert_dual(multiply(divide(x, y), y), X, V, "multiply(divide(x, y), y)", "what equation (2) was made from")


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_divide_is_stable(scale):
    got = divide(Dual(3.2 * scale, 1.4 * scale), Dual(0.8 * scale, 0.3 * scale))
    call = f"divide of Duals of size {scale:g}"
    assert_dual(got, 4.0, (1.4 - 4 * 0.3) / 0.8, call, "equation (2): no square of the denominator is needed")


def test_divide_broadcasts_keeps_the_level_and_serves_numpy():
    x = Dual(X[:, None], V[:, None], 3)
    y = Dual([2.2, 3.3], [0.7, -0.4], 3)
    got = divide(x, y)
    expected = (V[:, None] - X[:, None] / [2.2, 3.3] * [0.7, -0.4]) / [2.2, 3.3]
    assert_dual(got, X[:, None] / [2.2, 3.3], expected, "divide((3, 1) numbers, 2 numbers)", "equation (2)")
    assert got.level == 3, f"divide of two Duals of level 3 returned level {got.level}, expected 3"
    assert_dual(5.2 / Dual(X, V), 5.2 / X, -5.2 / X**2 * V, "5.2 / x", "equation (2) with a constant")


# power


@pytest.mark.parametrize("p", [2, 3.7, -1.4, 0.5, 1])
def test_power_follows_the_rule_of_powers(p):
    call = f"power(Dual([1.6, 0.7], [2.3, -1.9]), {p})"
    base, tangent = np.array([1.6, 0.7]), np.array([2.3, -1.9])
    got = power(Dual(base, tangent), p)
    assert_dual(got, base**p, p * base ** (p - 1) * tangent, call, "equation (3)")


def test_power_of_negative_numbers_needs_no_logarithm():
    assert_dual(power(Dual(-1.7, 1.3), 3), -4.913, 3 * 1.7**2 * 1.3, "power(Dual(-1.7, 1.3), 3)", "equation (3)")


@pytest.mark.parametrize("p", [0, 0.0])
def test_power_zero_has_slope_zero(p):
    got = power(Dual([0.0, 2.3, -1.1], [1.0, 2.0, 3.0]), p)
    assert_dual(
        got, [1.0] * 3, [0.0] * 3, f"power(Dual([0, 2.3, -1.1], [1, 2, 3]), {p})", "the note, after equation (3)"
    )


@pytest.mark.parametrize(("p", "slope"), [(1, 1.0), (2, 0.0), (3, 0.0)])
def test_power_at_zero(p, slope):
    got = power(Dual(0.0, 1.9), p)
    assert_dual(got, 0.0, slope * 1.9, f"power(Dual(0, 1.9), {p})", "equation (3)", atol=1e-300, tolerance="exact")


def test_power_keeps_the_level_and_serves_numpy():
    got = power(Dual(2.0, 1.0, 5), 3).level
    assert got == 5, f"power of a Dual of level 5 returned level {got}, expected 5"
    x, positive = Dual(X, V), Dual([1.6, 0.7, 2.2], V)
    assert_dual(x**3, X**3, 3 * X**2 * V, "x**3", "equation (3)")
    assert_dual(np.square(x), X**2, 2 * X * V, "np.square(x)", "equation (3)")
    root = np.sqrt([1.6, 0.7, 2.2])
    assert_dual(np.sqrt(positive), root, V / (2 * root), "np.sqrt(x)", "equation (3)")


# elementwise


def test_elementwise_follows_equation_3():
    got = elementwise(np.sin, np.cos, Dual(0.8, 2.5))
    assert_dual(got, np.sin(0.8), np.cos(0.8) * 2.5, "elementwise(np.sin, np.cos, Dual(0.8, 2.5))", "equation (3)")


def test_elementwise_works_on_arrays_of_any_shape_and_keeps_the_level():
    x, v = np.outer(X, [0.3, 0.9]), np.outer(V, [1.1, -0.6])
    got = elementwise(lambda z: z**2 + 1, lambda z: 2 * z, Dual(x, v, 4))
    assert_dual(got, x**2 + 1, 2 * x * v, "elementwise(z^2 + 1, 2 z, x)", "equation (3)")
    assert got.level == 4, f"elementwise of a Dual of level 4 returned level {got.level}, expected 4"


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (np.exp, np.exp),
        (np.expm1, np.exp),
        (np.log, lambda z: 1 / z),
        (np.log1p, lambda z: 1 / (1 + z)),
        (np.sin, np.cos),
        (np.cos, lambda z: -np.sin(z)),
        (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
        (np.arctan, lambda z: 1 / (1 + z**2)),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_elementwise_serves_numpy(function, slope):
    x, v = np.array([1.37, 0.72, 2.13]), V
    assert_dual(function(Dual(x, v)), function(x), slope(x) * v, f"np.{function.__name__}(x)", "equation (3)")


# jvp


def mixture(x):
    """Every operation that has a rule."""
    y = np.exp(-(x[0] ** 2)) * np.sin(x[1]) / (2 + np.cos(x[2])) + np.tanh(x[0] - x[1]) - np.arctan(x[2])
    z = (
        np.log(x[2] ** 2 + 1)
        + np.sqrt(x[0])
        - np.log1p(x[1] ** 2) * 3
        + np.expm1(0.1 * x[2])
        + np.maximum(x[1], x[0] / 2)
    )
    return stack([y, z, y * z, x[2] ** x[0]])


def test_jvp_returns_the_value_and_the_slope():
    value, slope = jvp(lambda x: x[0] ** 2 * x[1] + 5 * x[2], X, V)
    assert_close(
        value, X[0] ** 2 * X[1] + 5 * X[2], "the value of jvp(x0^2 x1 + 5 x2, x, v)", "F(x) in (4)", **ROUNDING
    )
    expected = 2 * X[0] * X[1] * V[0] + X[0] ** 2 * V[1] + 5 * V[2]
    assert_close(slope, expected, "the product of jvp(x0^2 x1 + 5 x2, x, v)", "J v in (4)", **ROUNDING)


def test_jvp_returns_plain_arrays():
    for result, name in zip(jvp(lambda x: x**2, X, V), ("value", "product"), strict=True):
        assert not isinstance(result, Dual), f"jvp returned a Dual as its {name}, expected a plain array"


def test_jvp_of_every_operation():
    _, got = jvp(mixture, X, V)
    expected = complex_step_of_mixture()
    assert_close(
        got, expected, "the product of jvp of a mixture of operations", "a derivative by the complex step", **ROUNDING
    )


def complex_step_of_mixture(h=1e-30):
    """The slope of `mixture` without dual numbers: the imaginary part of its value a tiny imaginary step away, over that step."""
    x = X + 1j * h * V
    y = np.exp(-(x[0] ** 2)) * np.sin(x[1]) / (2 + np.cos(x[2])) + np.tanh(x[0] - x[1]) - np.arctan(x[2])
    larger = x[1] if X[1] >= X[0] / 2 else x[0] / 2
    z = np.log(x[2] ** 2 + 1) + np.sqrt(x[0]) - np.log(1 + x[1] ** 2) * 3 + (np.exp(0.1 * x[2]) - 1) + larger
    return np.array([y, z, y * z, x[2] ** x[0]]).imag / h


def test_jvp_of_a_linear_map_is_the_map():
    a = np.random.default_rng(0).normal(size=(5, 3))
    value, got = jvp(lambda x: a @ x + 7, X, V)
    assert_close(value, a @ X + 7, "the value of jvp(A x + 7, x, v)", "F(x) in (4)", **ROUNDING)
    assert_close(got, a @ V, "the product of jvp(A x + 7, x, v)", "A v: the Jacobian is A", **ROUNDING)


def test_jvp_takes_points_of_any_shape():
    x, v = np.outer(X, [0.3, 0.9]), np.outer(V, [1.1, -0.6])
    value, got = jvp(lambda z: (z.T @ z).sum(axis=0), x, v)
    assert_close(value, (x.T @ x).sum(axis=0), "the value of jvp(column sums of Z'Z, X, V)", "F(x) in (4)", **ROUNDING)
    expected = (v.T @ x + x.T @ v).sum(axis=0)
    assert_close(
        got, expected, "the product of jvp(column sums of Z'Z, X, V)", "the product rule for matrices", **ROUNDING
    )


def test_jvp_is_zero_where_the_argument_is_ignored():
    value, got = jvp(lambda _: np.array([2.5, 3.5]), X, V)
    assert_close(value, [2.5, 3.5], "the value of jvp of a constant function", "F(x) in (4)", **ROUNDING)
    assert_close(got, [0.0, 0.0], "the product of jvp of a constant function", "zeros: nothing changes", atol=0)


def test_jvp_follows_branches_and_loops():
    def f(x):
        total = 0.0
        for _ in range(3):
            total = total + x * x if x > 0 else total - x
            x = x - 1
        return total

    value, got = jvp(f, np.array(1.7), np.array(2.0))
    expected = 1.7**2 + 0.7**2 + 0.3
    assert_close(value, expected, "the value of jvp of a loop with a branch", "F(x) in (4)", **ROUNDING)
    assert_close(
        got, 2 * (3.4 + 1.4 - 1), "the product of jvp of a loop with a branch", "2 (2 x + 2 (x - 1) - 1)", **ROUNDING
    )


def test_jvp_nested_gives_second_derivatives():
    def slope(x):
        return jvp(lambda z: z**3 * np.exp(z), x, np.array(1.0))[1]

    value, got = jvp(slope, np.array(1.2), np.array(1.0))
    e = np.exp(1.2)
    assert_close(value, (3 * 1.2**2 + 1.2**3) * e, "the value of jvp(jvp(z^3 e^z))", "the first derivative", **ROUNDING)
    assert_close(
        got,
        (6 * 1.2 + 6 * 1.2**2 + 1.2**3) * e,
        "the product of jvp(jvp(z^3 e^z))",
        "the second derivative",
        **ROUNDING,
    )


def test_jvp_tells_nested_runs_apart():
    def f(x):
        return x * jvp(lambda y: x + y, np.array(1.5), np.array(1.0))[1]

    _, got = jvp(f, np.array(2.5), np.array(1.0))
    call = "jvp of x * (the slope of x + y in y)"
    assert_close(
        got, 1.0, call, "1, as that slope is 1: each run needs a level of its own, the note after (7)", **ROUNDING
    )


def test_jvp_keeps_single_precision():
    f = lambda x: np.tanh(2.0 * x) / (1 + x**2) - x.sum()  # noqa: E731
    value, got = jvp(f, X.astype(np.float32), V.astype(np.float32))
    for result, name in ((value, "value"), (got, "product")):
        assert result.dtype == np.float32, f"the {name} of jvp of float32 is {result.dtype}, expected float32"


def test_jvp_leaves_its_arguments_alone():
    x, v = X.copy(), V.copy()
    jvp(lambda z: z * z, x, v)
    assert np.array_equal(x, X), "jvp changed its point"
    assert np.array_equal(v, V), "jvp changed its direction"


@pytest.mark.given
def test_jvp_refuses_bad_arguments():
    with pytest.raises(ValueError, match="x must"):
        jvp(np.sin, np.array([1.0, np.nan]), np.ones(2))
    with pytest.raises(ValueError, match="x must"):
        jvp(np.sin, np.array([]), np.array([]))
    with pytest.raises(ValueError, match="v must"):
        jvp(np.sin, X, np.ones(2))


def test_jvp_refuses_what_would_lose_tangents():
    with pytest.raises(TypeError, match="floor"):
        jvp(np.floor, X, V)
    with pytest.raises(TypeError, match="stack"):
        jvp(lambda x: np.array([x[0], x[1]]), X, V)


# vjp


def network(n_in=4, n_hidden=6, n_out=3, seed=0):
    """Two layers of tanh units, with their pullbacks."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n_hidden, n_in)), rng.normal(size=(n_out, n_hidden))
    tanh = Layer(np.tanh, lambda z, w: (1 - np.tanh(z) ** 2) * w)
    return [Layer(lambda z: a @ z, lambda z, w: a.T @ w), tanh, Layer(lambda z: b @ z, lambda z, w: b.T @ w), tanh]


def network_jacobian(layers, x, n_out):
    """The product of the layers' Jacobians, each with the derivative of tanh written out."""
    eye = lambda n: np.eye(n)  # noqa: E731
    a = np.stack([layers[0].forward(e) for e in eye(len(x))], axis=1)
    h = np.tanh(a @ x)
    b = np.stack([layers[2].forward(e) for e in eye(len(h))], axis=1)
    out = np.tanh(b @ h)
    assert out.shape == (n_out,)
    return (1 - out[:, None] ** 2) * (b @ ((1 - h[:, None] ** 2) * a))


SQUARES = Layer(lambda z: z**2, lambda z, w: 2 * z * w)
TOTAL = Layer(lambda z: z.sum(), lambda z, w: w * (0 * z + 1))


def test_vjp_of_one_layer():
    value, got = vjp([SQUARES], X, V)
    assert_close(value, X**2, "the value of vjp([squares], x, w)", "F(x)", **ROUNDING)
    assert_close(got, 2 * X * V, "the product of vjp([squares], x, w)", "equation (5): its pullback at x", **ROUNDING)


def test_vjp_pulls_back_the_last_layer_first():
    sines = Layer(np.sin, lambda z, w: np.cos(z) * w)
    value, got = vjp([SQUARES, sines], X, V)
    assert_close(value, np.sin(X**2), "the value of vjp([squares, sines], x, w)", "F(x)", **ROUNDING)
    expected = np.cos(X**2) * V * 2 * X
    assert_close(
        got,
        expected,
        "the product of vjp([squares, sines], x, w)",
        "equation (5), each layer at its own point",
        **ROUNDING,
    )


def test_vjp_of_a_network():
    layers, x = network(), np.array([0.4, -0.9, 1.2, 0.3])
    w = np.array([0.7, -1.8, 1.1])
    value, got = vjp(layers, x, w)
    assert_close(value, run(layers, x), "the value of vjp(network, x, w)", "F(x)", **ROUNDING)
    assert_close(
        got, w @ network_jacobian(layers, x, 3), "the product of vjp(network, x, w)", "equation (5)", **ROUNDING
    )


def test_vjp_of_a_number_is_the_gradient():
    value, got = vjp([SQUARES, TOTAL], X, 1.0)
    assert_close(value, (X**2).sum(), "the value of vjp([squares, sum], x, 1)", "F(x)", **ROUNDING)
    assert_close(got, 2 * X, "the product of vjp([squares, sum], x, 1)", "the gradient", **ROUNDING)


def test_vjp_agrees_with_jvp():
    layers, x = network(seed=1), np.array([0.4, -0.9, 1.2, 0.3])
    v, w = np.array([1.3, 0.2, -0.8, 2.1]), np.array([0.7, -1.8, 1.1])
    left = vjp(layers, x, w)[1] @ v
    right = w @ jvp(lambda z: run(layers, z), x, v)[1]
    assert_close(left, right, "vjp(network, x, w) times v", "w times jvp(network, x, v): both are w'Jv", **ROUNDING)


def test_vjp_uses_each_layer_once_each_way():
    calls = {"forward": 0, "pullback": 0}

    def counted(name, value):
        calls[name] += 1
        return value

    layer = Layer(lambda z: counted("forward", z**2), lambda z, w: counted("pullback", 2 * z * w))
    vjp([layer] * 5, X / 3, np.ones(3))
    assert calls == {"forward": 5, "pullback": 5}, f"vjp of 5 layers made the calls {calls}, expected 5 of each"


def test_vjp_of_no_layers_is_the_row():
    value, got = vjp([], X, V)
    assert_close(value, X, "the value of vjp([], x, w)", "x: an empty chain changes nothing", **ROUNDING)
    assert_close(got, V, "the product of vjp([], x, w)", "w", **ROUNDING)


def test_vjp_refuses_a_row_of_another_shape():
    with pytest.raises(ValueError, match="w must"):
        vjp([SQUARES, TOTAL], X, V)
    with pytest.raises(ValueError, match="w must"):
        vjp([SQUARES], X, 1.0)
    with pytest.raises(ValueError, match="w must"):
        vjp([Layer(lambda z: float(z.sum()), lambda z, w: w + 0 * z)], X, V)


def test_vjp_leaves_its_arguments_alone():
    x, w = X.copy(), V.copy()
    vjp([SQUARES, SQUARES], x, w)
    assert np.array_equal(x, X), "vjp changed its point"
    assert np.array_equal(w, V), "vjp changed its row"


@pytest.mark.given
def test_vjp_refuses_a_bad_point():
    with pytest.raises(ValueError, match="x must"):
        vjp([SQUARES], np.array([1.0, np.inf]), np.ones(2))


# jacobian


@pytest.mark.parametrize(("n_in", "n_out"), [(4, 3), (3, 5), (4, 4), (1, 3), (3, 1)])
def test_jacobian_of_a_network(n_in, n_out):
    layers, x = network(n_in, 6, n_out), np.linspace(-0.6, 1.1, n_in)
    got = jacobian(layers, x)
    call = f"jacobian(network of {n_in} inputs and {n_out} outputs, x)"
    assert_close(
        got, network_jacobian(layers, x, n_out), call, "the product of the layers' Jacobians, in (5)", **ROUNDING
    )


@pytest.mark.parametrize(("n_in", "n_out"), [(3, 40), (40, 3), (12, 12)])
def test_jacobian_takes_the_cheaper_way(n_in, n_out):
    calls = {"forward": 0, "pullback": 0}
    layers = network(n_in, 6, n_out)

    def counted(name, function):
        def call(*arguments):
            calls[name] += 1
            return function(*arguments)

        return call

    layers[0] = Layer(counted("forward", layers[0].forward), counted("pullback", layers[0].pullback))
    jacobian(layers, np.linspace(-0.6, 1.1, n_in))
    fewest = min(n_in, n_out)
    what = f"jacobian of {n_in} inputs and {n_out} outputs ran the first layer forward {calls['forward']} times and pulled it back {calls['pullback']} times"
    backward = n_out if n_in > n_out else 0
    assert calls["forward"] <= fewest + 1, f"{what}, expected at most {fewest} + 1 runs by (6)"
    assert calls["pullback"] == backward, f"{what}, expected {backward} pullbacks by (6)"


@pytest.mark.parametrize(("n_in", "n_out"), [(4, 3), (3, 5)])
def test_jacobian_keeps_single_precision(n_in, n_out):
    a = np.random.default_rng(0).normal(size=(n_out, n_in)).astype(np.float32)
    layer = Layer(lambda z: np.tanh(a @ z), lambda z, w: a.T @ ((1 - np.tanh(a @ z) ** 2) * w))
    got = jacobian([layer], np.linspace(-0.6, 1.1, n_in).astype(np.float32))
    assert got.dtype == np.float32, f"jacobian at a point of float32 is of {got.dtype}, expected float32"


@pytest.mark.given
def test_jacobian_refuses_bad_arguments():
    with pytest.raises(ValueError, match="x must"):
        jacobian([SQUARES], np.ones((2, 3)))
    with pytest.raises(ValueError, match="layers must"):
        jacobian([SQUARES, TOTAL], X)


# hessian_vector_product


def test_hessian_vector_product_of_a_cubic():
    cubes = Layer(lambda z: z**3, lambda z, w: 3 * z**2 * w)
    gradient, got = hessian_vector_product([cubes, TOTAL], X, V)
    assert_close(
        gradient, 3 * X**2, "the gradient of hessian_vector_product([cubes, sum], x, v)", "equation (7)", **ROUNDING
    )
    assert_close(
        got, 6 * X * V, "the product of hessian_vector_product([cubes, sum], x, v)", "6 x v, equation (7)", **ROUNDING
    )


def rosenbrock():
    """Rosenbrock's function in three variables: the residuals, and their squares."""
    residuals = Layer(
        lambda z: stack([10 * (z[1] - z[0] ** 2), 10 * (z[2] - z[1] ** 2), 1 - z[0], 1 - z[1]]),
        lambda z, w: stack([-20 * z[0] * w[0] - w[2], 10 * w[0] - 20 * z[1] * w[1] - w[3], 10 * w[1]]),
    )
    return [residuals, SQUARES, TOTAL]


def test_hessian_vector_product_of_rosenbrock():
    x, y, z = X
    hessian = np.array(
        [
            [1200 * x**2 - 400 * y + 2, -400 * x, 0],
            [-400 * x, 202 + 1200 * y**2 - 400 * z, -400 * y],
            [0, -400 * y, 200],
        ]
    )
    slopes = [
        -400 * x * (y - x**2) - 2 * (1 - x),
        200 * (y - x**2) - 400 * y * (z - y**2) - 2 * (1 - y),
        200 * (z - y**2),
    ]
    gradient, got = hessian_vector_product(rosenbrock(), X, V)
    assert_close(
        gradient, slopes, "the gradient of hessian_vector_product(Rosenbrock, x, v)", "its gradient", **ROUNDING
    )
    assert_close(
        got, hessian @ V, "the product of hessian_vector_product(Rosenbrock, x, v)", "its Hessian times v", **ROUNDING
    )


def test_hessian_vector_product_is_symmetric():
    layers, x = [*network(5, 7, 4), SQUARES, TOTAL], np.array([0.4, -0.9, 1.2, 0.3, -0.5])
    hessian = np.stack([hessian_vector_product(layers, x, e)[1] for e in np.eye(5)])
    assert_close(
        hessian, hessian.T, "the Hessian of a network, row by row", "its transpose", atol=1e-12, tolerance="rounding"
    )
    assert np.abs(hessian).max() > 0.1, f"the Hessian of a network came out as {hessian}, expected entries of size 1"


def test_hessian_vector_product_of_logistic_regression():
    rng = np.random.default_rng(2)
    data, labels = rng.normal(size=(50, 4)), rng.integers(0, 2, size=50)
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    layers = [
        Layer(lambda z: data @ z, lambda z, w: data.T @ w),
        Layer(lambda z: np.log1p(np.exp(z)) - labels * z, lambda z, w: (sigmoid(z) - labels) * w),
        TOTAL,
    ]
    theta, v = rng.normal(size=4), rng.normal(size=4)
    p = sigmoid(data @ theta)
    gradient, got = hessian_vector_product(layers, theta, v)
    assert_close(gradient, data.T @ (p - labels), "the gradient of the logistic loss", "X'(p - y)", **ROUNDING)
    assert_close(got, data.T @ (p * (1 - p) * (data @ v)), "its Hessian times v", "X' diag(p (1 - p)) X v", **ROUNDING)


def test_hessian_vector_product_takes_matrices():
    a = np.random.default_rng(3).normal(size=(3, 2))
    x, v = np.outer(X, [0.3, 0.9]), np.outer(V, [1.1, -0.6])
    layers = [Layer(lambda z: np.tanh(z * a), lambda z, w: (1 - np.tanh(z * a) ** 2) * a * w), TOTAL]
    gradient, got = hessian_vector_product(layers, x, v)
    t = np.tanh(x * a)
    assert_close(gradient, (1 - t**2) * a, "the gradient at a matrix", "(1 - tanh^2) a, entry by entry", **ROUNDING)
    assert_close(
        got, -2 * t * (1 - t**2) * a**2 * v, "the Hessian at a matrix times v", "its derivative times v", **ROUNDING
    )


def test_hessian_vector_product_needs_few_runs():
    calls = {"forward": 0, "pullback": 0}

    def counted(name, value):
        calls[name] += 1
        return value

    layer = Layer(lambda z: counted("forward", z**2), lambda z, w: counted("pullback", 2 * z * w))
    hessian_vector_product([layer, TOTAL], np.linspace(0.1, 1, 50), np.ones(50))
    what = f"hessian_vector_product in 50 variables ran its layer {calls['forward']} times and pulled it back {calls['pullback']} times"
    assert calls["forward"] <= 3, f"{what}, expected at most 3 runs, whatever the number of variables"
    assert calls["pullback"] <= 2, f"{what}, expected at most 2 pullbacks, whatever the number of variables"


def test_hessian_vector_product_keeps_single_precision():
    pair = hessian_vector_product([SQUARES, SQUARES, TOTAL], X.astype(np.float32), V.astype(np.float32))
    for result, name in zip(pair, ("gradient", "product"), strict=True):
        assert result.dtype == np.float32, f"the {name} of hessian_vector_product of float32 is {result.dtype}"


def test_hessian_vector_product_refuses_a_v_of_another_shape():
    with pytest.raises(ValueError, match="v must"):
        hessian_vector_product([SQUARES, TOTAL], X, V[:2])


@pytest.mark.given
def test_hessian_vector_product_refuses_bad_arguments():
    with pytest.raises(ValueError, match="x must"):
        hessian_vector_product([SQUARES, TOTAL], np.array([1.0, np.nan]), np.ones(2))
    with pytest.raises(ValueError, match="layers must"):
        hessian_vector_product([SQUARES], X, V)
