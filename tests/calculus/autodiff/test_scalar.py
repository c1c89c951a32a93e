"""Shared tests of calculus/autodiff/scalar: run on the reference, and on the learner's file.

Nothing is random but seeded data. Slopes and adjoints of a few operations are right but for some roundings: 1e-12 allows a
thousand. The oracle for whole functions is the complex step (`calculus/finite_differences/derivatives`), which has the same
accuracy. Graphs for `topological_order` and `backward` are made by hand, with slopes that fit no function.
"""

import cmath
import math

import numpy as np
import pytest

from mlpath.calculus.autodiff.scalar import (
    Var,
    add,
    backward,
    divide,
    exp,
    grad,
    log,
    multiply,
    power,
    sin,
    tanh,
    topological_order,
)
from mlpath.testing import assert_close

RTOL = 1e-12


def assert_operation(result, call, value, parents, slopes, equation):
    """Compare an operation's value, its parents and its slopes with what the equation says."""
    assert isinstance(result, Var), f"{call} returned {result!r}, expected a Var"
    assert_close(result.value, value, f"{call}.value", equation, rtol=RTOL)
    assert len(result.parents) == len(parents), f"{call} has {len(result.parents)} parents, expected {len(parents)}"
    for i, (parent, expected) in enumerate(zip(result.parents, parents)):
        if isinstance(expected, Var):
            assert parent is expected, f"{call}.parents[{i}] is {parent}, expected the very {expected} that was given"
        else:
            assert parent.value == expected, (
                f"{call}.parents[{i}] is {parent}, expected a Var of the constant {expected}"
            )
            assert not parent.parents, f"{call}.parents[{i}] is a constant and should have no parents"
    assert_close(list(result.slopes), slopes, f"{call}.slopes", equation, rtol=RTOL)


def either(name):
    """A function that takes Vars, and complex numbers as well."""
    ours, theirs = {"exp": exp, "log": log, "sin": sin, "tanh": tanh}[name], getattr(cmath, name)
    return lambda a: ours(a) if isinstance(a, Var) else theirs(a)


EXP, LOG, SIN, TANH = (either(name) for name in ("exp", "log", "sin", "tanh"))


def complex_gradient(f, x):
    """The gradient by a step along the imaginary axis, which loses no digits."""
    return [f(*(b + 1e-30j if i == j else b for j, b in enumerate(x))).imag / 1e-30 for i in range(len(x))]


# add


def test_add_has_the_value_of_a_sum_and_slopes_of_one():
    a, b = Var(2.75), Var(-0.4)
    assert_operation(add(a, b), "add(Var(2.75), Var(-0.4))", 2.35, [a, b], [1, 1], "equation (2)")


@pytest.mark.parametrize(
    ("call", "result", "value"),
    [
        ("x + 2", lambda x: x + 2, 3.7),
        ("2 + x", lambda x: 2 + x, 3.7),
        ("np.float64(2.5) + x", lambda x: np.float64(2.5) + x, 4.2),
        ("x + np.int64(4)", lambda x: x + np.int64(4), 5.7),
    ],
)
def test_add_takes_plain_numbers_as_constants(call, result, value):
    x = Var(1.7)
    y = result(x)
    assert_close(y.value, value, f"({call}).value at x = 1.7", "equation (2)", rtol=RTOL)
    assert x in y.parents, f"({call}).parents is {y.parents}, expected x itself to be one of them"
    assert len(y.parents) == 2, f"({call}).parents is {y.parents}, expected x and a constant"


def test_add_of_a_number_to_itself_has_it_as_both_parents():
    a = Var(2.75)
    assert_operation(add(a, a), "add(a, a) at a = 2.75", 5.5, [a, a], [1, 1], "equation (2)")


# multiply


def test_multiply_has_the_other_factor_as_the_slope():
    a, b = Var(2.75), Var(-0.4)
    assert_operation(multiply(a, b), "multiply(Var(2.75), Var(-0.4))", -1.1, [a, b], [-0.4, 2.75], "equation (3)")


def test_multiply_of_a_number_with_itself_has_it_as_both_parents():
    a = Var(-3.25)
    assert_operation(multiply(a, a), "multiply(a, a) at a = -3.25", 10.5625, [a, a], [-3.25, -3.25], "equation (3)")


def test_multiply_takes_plain_numbers_as_constants():
    a = Var(2.75)
    assert_operation(multiply(-0.4, a), "multiply(-0.4, Var(2.75))", -1.1, [-0.4, a], [2.75, -0.4], "equation (3)")
    assert_operation(a * 3, "Var(2.75) * 3", 8.25, [a, 3.0], [3, 2.75], "equation (3)")


def test_multiply_knows_zero_and_tiny_factors():
    a, b = Var(0.0), Var(1e-150)
    assert_operation(multiply(a, b), "multiply(Var(0), Var(1e-150))", 0, [a, b], [1e-150, 0], "equation (3)")


def test_multiply_says_that_a_product_overflows():
    with pytest.raises(ValueError, match="finite"):
        multiply(Var(1e200), Var(1e200))


# divide


def test_divide_has_the_slopes_of_a_quotient():
    a, b = Var(2.75), Var(-0.4)
    assert_operation(divide(a, b), "divide(Var(2.75), Var(-0.4))", -6.875, [a, b], [-2.5, -17.1875], "equation (4)")


def test_divide_takes_plain_numbers_as_constants():
    b = Var(1.6)
    assert_operation(divide(2, b), "divide(2, Var(1.6))", 1.25, [2.0, b], [0.625, -0.78125], "equation (4)")
    assert_operation(b / 0.4, "Var(1.6) / 0.4", 4.0, [b, 0.4], [2.5, -10], "equation (4)")


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_divide_is_right_where_the_square_of_the_divisor_is_out_of_range(size):
    a, b = Var(2.75 * size), Var(-0.4 * size)
    call = f"divide(Var(2.75 * {size:g}), Var(-0.4 * {size:g}))"
    assert_operation(divide(a, b), call, -6.875, [a, b], [-2.5 / size, -17.1875 / size], "equation (4)")


@pytest.mark.given
@pytest.mark.parametrize("b", [0, 0.0, -0.0, Var(0.0)])
def test_divide_refuses_zero(b):
    with pytest.raises(ValueError, match="b must not be 0"):
        divide(Var(1.0), b)


# power


def test_power_has_a_slope_by_the_base_and_one_by_the_exponent():
    a, b = Var(2.5), Var(1.7)
    slopes = [1.7 * 2.5**0.7, 2.5**1.7 * math.log(2.5)]
    assert_operation(power(a, b), "power(Var(2.5), Var(1.7))", 2.5**1.7, [a, b], slopes, "equation (5)")


def test_power_of_a_negative_base_with_a_whole_exponent():
    a = Var(-1.5)
    for call, y in (("power(Var(-1.5), 3)", power(a, 3)), ("Var(-1.5) ** 3.0", a**3.0)):
        assert_operation(y, call, -3.375, [a, 3.0], [6.75, math.nan], "equation (5), and what follows it")


def test_power_with_a_constant_base_has_the_slope_of_an_exponential_function():
    b = Var(-1.3)
    slopes = [-1.3 * 2.5**-2.3, 2.5**-1.3 * math.log(2.5)]
    assert_operation(2.5**b, "2.5 ** Var(-1.3)", 2.5**-1.3, [2.5, b], slopes, "equation (5)")


@pytest.mark.parametrize(
    ("a", "b", "value", "slopes"),
    [
        (0.0, 2.0, 0.0, [0.0, 0.0]),
        (0.0, 1.0, 0.0, [1.0, 0.0]),
        (0.0, 0.0, 1.0, [0.0, 0.0]),
        (3.7, 0.0, 1.0, [0.0, math.log(3.7)]),
        (-3.7, 0.0, 1.0, [0.0, math.nan]),
        (1e-300, 0.0, 1.0, [0.0, math.log(1e-300)]),
    ],
)
def test_power_at_the_edges(a, b, value, slopes):
    x, y = Var(a), Var(b)
    assert_operation(power(x, y), f"power(Var({a}), Var({b}))", value, [x, y], slopes, "what follows equation (5)")


@pytest.mark.parametrize(("a", "b"), [(1e-150, 2.0), (1e150, 2.0), (1e-150, -1.0), (1e200, 0.5)])
def test_power_at_extremes(a, b):
    x, y = Var(a), Var(b)
    slopes = [b * a ** (b - 1), a**b * math.log(a)]
    assert_operation(power(x, y), f"power(Var({a}), Var({b}))", a**b, [x, y], slopes, "equation (5)")


@pytest.mark.given
@pytest.mark.parametrize(("a", "b"), [(-2.0, 0.5), (-2.0, -1.5), (0.0, -1.0), (0.0, 0.5)])
def test_power_refuses_what_has_no_real_value_or_no_slope(a, b):
    with pytest.raises(ValueError, match="b must"):
        power(Var(a), b)


# tanh


@pytest.mark.parametrize("a", [-0.83, 0.0, 0.35, 2.6])
def test_tanh_has_the_slope_of_equation_6(a):
    x = Var(a)
    slope = 1 / math.cosh(a) ** 2
    assert_operation(tanh(x), f"tanh(Var({a}))", math.tanh(a), [x], [slope], "equation (6)")


@pytest.mark.parametrize("a", [-1000.0, -40.0, 40.0, 1000.0])
def test_tanh_is_flat_far_out(a):
    y = tanh(Var(a))
    assert_close(y.value, math.copysign(1.0, a), f"tanh(Var({a})).value", "its limit")
    assert_close(y.slopes[0], 0.0, f"tanh(Var({a})).slopes[0]", "equation (6)", atol=1e-15)


def test_tanh_takes_plain_numbers_as_constants():
    assert_operation(tanh(1), "tanh(1)", math.tanh(1), [1.0], [1 / math.cosh(1) ** 2], "equation (6)")


# topological_order


def node(*parents, slopes=None):
    """A Var made from others, of which only the wiring counts."""
    return Var(1.5, parents, (1.0,) * len(parents) if slopes is None else slopes)


def assert_topological(order, y, expected, call):
    """Fail unless the order has each Var once, parents first, and `y` last. `expected` are all that `y` was made from."""
    assert isinstance(order, list | tuple), f"{call} returned {type(order).__name__}, expected a list"
    place = {v: i for i, v in enumerate(order)}
    assert len(place) == len(order), f"{call} has {len(order)} entries, but only {len(place)} different Vars: each once"
    missing, surplus = set(expected) - set(place), set(place) - set(expected)
    assert not missing, f"{call} lacks {len(missing)} of the {len(expected)} Vars that y was made from, itself included"
    assert not surplus, f"{call} has {len(surplus)} Vars from which y was not made"
    for v in order:
        for parent in v.parents:
            assert place[parent] < place[v], (
                f"{call} has a Var at place {place[v]} and its parent at place {place[parent]}; by (8) parents come first"
            )
    assert order[-1] is y, f"{call} ends with {order[-1]}, expected y itself"


def test_topological_order_of_a_chain_begins_with_the_input():
    x = Var(2.5)
    u = node(x)
    v = node(u)
    assert_topological(topological_order(v), v, [x, u, v], "topological_order of the chain x, u, v")


def test_topological_order_of_an_input_is_the_input():
    x = Var(2.5)
    assert_topological(topological_order(x), x, [x], "topological_order of an input")


def test_topological_order_has_what_is_used_twice_once():
    x = Var(2.5)
    u = node(x, x)
    y = node(u, x, u)
    assert_topological(
        topological_order(y), y, [x, u, y], "topological_order of y, made from u, x, u, with u from x, x"
    )


@pytest.mark.parametrize("short_way_first", [True, False])
def test_topological_order_waits_for_the_long_way(short_way_first):
    # y is made from u directly, and by way of v and w; u itself is made from t and x.
    x = Var(2.5)
    t = node(x)
    u = node(t, x)
    v = node(u)
    w = node(v, t)
    y = node(u, w) if short_way_first else node(w, u)
    call = f"topological_order of y, made from {'u and w' if short_way_first else 'w and u'}, where w comes from u too,"
    assert_topological(topological_order(y), y, [x, t, u, v, w, y], call)


def test_topological_order_leaves_out_what_y_was_not_made_from():
    x = Var(2.5)
    u = node(x)
    node(u, x)  # a child of both that y has nothing to do with
    y = node(u)
    assert_topological(topological_order(y), y, [x, u, y], "topological_order of y, where x and u have another child,")


def test_topological_order_of_random_graphs():
    rng = np.random.default_rng(1)
    for n in (5, 40, 300):
        graph = [Var(2.5), Var(0.5)]
        for _ in range(n):
            graph.append(node(*(graph[i] for i in rng.integers(len(graph), size=rng.integers(1, 4)))))
        y = graph[-1]
        reached = {y}
        for v in reversed(graph):
            if v in reached:
                reached.update(v.parents)
        assert_topological(
            topological_order(y), y, reached, f"topological_order of a random graph of {len(reached)} Vars"
        )


class Watched(Var):
    """A Var that counts how often its parents are asked for, and puts an end to it before it takes years."""

    __slots__ = ("asked", "its_parents")

    @property
    def parents(self):
        self.asked += 1
        assert self.asked < 100, "the parents of one Var were looked up 100 times: do not follow every path, see (9)"
        return self.its_parents

    @parents.setter
    def parents(self, parents):
        self.asked, self.its_parents = 0, parents


def test_topological_order_of_doublings_takes_no_longer_than_their_number():
    graph = [Var(2.5)]
    for _ in range(1000):
        graph.append(Watched(1.5, (graph[-1], graph[-1]), (1.0, 1.0)))
    assert_topological(topological_order(graph[-1]), graph[-1], graph, "topological_order of 1,000 doublings")


def test_topological_order_of_a_very_long_chain():
    graph = [Var(2.5)]
    for _ in range(100_000):
        graph.append(Var(1.5, (graph[-1],), (1.0,)))
    order = topological_order(graph[-1])
    assert len(order) == 100_001, f"topological_order of a chain of 100,001 Vars has {len(order)} entries"
    assert order[0] is graph[0], "topological_order of a long chain does not begin with its input"
    assert order[-1] is graph[-1], "topological_order of a long chain does not end with its result"


@pytest.mark.given
def test_topological_order_refuses_a_plain_number():
    with pytest.raises(ValueError, match="y must be a Var"):
        topological_order(2.5)


# backward


def test_backward_multiplies_the_slopes_along_a_chain():
    x = Var(2.5)
    u = node(x, slopes=(1.3,))
    v = node(u, slopes=(-0.7,))
    y = node(v, slopes=(2.2,))
    found = backward(y)
    assert_close([found[i] for i in (x, u, v, y)], [-2.002, -1.54, 2.2, 1], "backward(y) of a chain", "(7)", rtol=RTOL)


def test_backward_counts_a_number_that_is_a_parent_twice_twice():
    x = Var(2.5)
    y = node(x, x, slopes=(1.3, -0.7))
    assert_close(backward(y)[x], 0.6, "backward(y)[x], where x is both parents of y,", "(7)", rtol=RTOL)


@pytest.mark.parametrize("short_way_first", [True, False])
def test_backward_adds_up_all_ways(short_way_first):
    # From u to y: directly (1.3), and by way of w (-0.7 and 2.2). From x to u: 0.6, and x to w: 3.1.
    x = Var(2.5)
    u = node(x, slopes=(0.6,))
    w = node(u, x, slopes=(-0.7, 3.1))
    y = node(u, w, slopes=(1.3, 2.2)) if short_way_first else node(w, u, slopes=(2.2, 1.3))
    found = backward(y)
    expected = [(1.3 - 0.7 * 2.2) * 0.6 + 3.1 * 2.2, 1.3 - 0.7 * 2.2, 2.2, 1]
    assert_close([found[i] for i in (x, u, w, y)], expected, "backward(y)[x, u, w, y]", "(7)", rtol=RTOL)


def test_backward_of_an_input_is_one():
    x = Var(2.5)
    assert_close(backward(x)[x], 1.0, "backward(x)[x]", "(7)")


def test_backward_has_the_adjoint_of_all_that_y_was_made_from_and_nothing_else():
    x, w = Var(2.5), Var(0.5)
    u = node(x, w, slopes=(1.3, 0.0))
    node(u, slopes=(9.9,))
    y = node(u, slopes=(0.4,))
    found = backward(y)
    assert set(found) == {x, w, u, y}, f"backward(y) has {len(found)} adjoints, expected those of x, w, u and y"
    assert_close(found[w], 0.0, "backward(y)[w], where w has the slope 0,", "(7)")


def test_backward_begins_afresh_each_time():
    x = Var(2.5)
    u = node(x, x, slopes=(1.3, -0.7))
    y = node(u, u, slopes=(0.4, 0.5))
    backward(y)
    backward(u)
    assert_close(backward(y)[x], 0.54, "the second backward(y)[x]", "(7)", rtol=RTOL)
    assert u.slopes == (1.3, -0.7), f"backward changed the slopes of a Var to {u.slopes}"


def test_backward_through_doublings_and_through_a_long_chain():
    x = Var(2.5)
    y = x
    for _ in range(1000):
        y = Watched(1.5, (y, y), (0.5, 0.5001))
    assert_close(backward(y)[x], 1.0001**1000, "backward(y)[x] after 1,000 doublings", "(7)", rtol=RTOL)
    y = x
    for _ in range(30_000):
        y = node(y, x, slopes=(-1.0, 0.25))
    assert_close(backward(y)[x], 1.0, "backward(y)[x] of a chain of 30,000", "(7)", rtol=RTOL)


@pytest.mark.given
def test_backward_refuses_a_plain_number():
    with pytest.raises(ValueError, match="y must be a Var"):
        backward(2.5)


# grad


def test_grad_returns_a_derivative_for_each_argument():
    found = grad(lambda x, y, z: x * y + 0.5 * z - y / z)(1.3, -0.7, 2.5)
    assert isinstance(found, tuple), f"grad(f)(1.3, -0.7, 2.5) returned {found!r}, expected a tuple"
    expected = [-0.7, 1.3 - 1 / 2.5, 0.5 - 0.7 / 2.5**2]
    assert_close(found, expected, "grad(x y + z / 2 - y / z)(1.3, -0.7, 2.5)", "(2) to (7)", rtol=RTOL)


def test_grad_of_one_argument_is_a_tuple_of_one():
    found = grad(lambda x: x * x * x)(1.3)
    assert isinstance(found, tuple), f"grad(f)(1.3) returned {found!r}, expected a tuple of one float"
    assert_close(found, (3 * 1.3**2,), "grad(x * x * x)(1.3)", "(3) and (7)", rtol=RTOL)


FUNCTIONS = {
    "(x - y) ** 2 / (3 - x / y)": (lambda x, y: (x - y) ** 2 / (3 - x / y), (1.3, -0.7)),
    "-x ** 3 + 2 ** x - 1 / x ** 0.5": (lambda x: -(x**3) + 2**x - 1 / x**0.5, (1.7,)),
    "x ** y + y ** x": (lambda x, y: x**y + y**x, (1.3, 2.2)),
    "tanh(x y) exp(-x) - log(y) sin(x)": (lambda x, y: TANH(x * y) * EXP(-x) - LOG(y) * SIN(x), (0.4, 1.9)),
    "x y z / (x + y + z)": (lambda x, y, z: x * y * z / (x + y + z), (1.3, -0.7, 2.5)),
    "log(exp(x) + exp(y))": (lambda x, y: LOG(EXP(x) + EXP(y)), (0.3, -1.1)),
    "u = sin(x): u u u + u": (lambda x: (lambda u: u * u * u + u)(SIN(x)), (0.8,)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_grad_agrees_with_the_complex_step(name):
    f, x = FUNCTIONS[name]
    assert_close(grad(f)(*x), complex_gradient(f, x), f"grad({name}){x}", "the complex step", rtol=RTOL)


def test_grad_agrees_with_the_complex_step_for_a_network():
    # Two inputs, three hidden units, one output: 13 parameters, each used for four samples.
    rng = np.random.default_rng(2)
    data, theta = rng.normal(size=(4, 3)), rng.normal(size=13)

    def loss(*theta):
        total = 0.0
        for x1, x2, target in data.tolist():
            hidden = [TANH(theta[3 * i] * x1 + theta[3 * i + 1] * x2 + theta[3 * i + 2]) for i in range(3)]
            output = sum((theta[9 + i] * hidden[i] for i in range(3)), theta[12])
            total = total + (output - target) ** 2
        return total / len(data)

    found = grad(loss)(*theta)
    assert_close(
        found, complex_gradient(loss, theta.tolist()), "grad(loss of a network)", "the complex step", rtol=1e-10
    )


def test_grad_differentiates_loops_and_the_branch_that_is_taken():
    def root(x):
        r = 1.0
        for _ in range(20):
            r = (r + x / r) / 2
        return r

    assert_close(
        grad(root)(7.0), (0.5 / 7**0.5,), "grad(Newton's iteration for a root)(7)", "1 / (2 sqrt(x))", rtol=RTOL
    )

    def branches(x):
        return x * x if x > 0 else -3 * x

    assert_close(grad(branches)(2.2), (4.4,), "grad(x * x if x > 0 else -3 * x)(2.2)", "(3)", rtol=RTOL)
    assert_close(grad(branches)(-2.2), (-3.0,), "grad(x * x if x > 0 else -3 * x)(-2.2)", "(3)", rtol=RTOL)


def test_grad_is_zero_by_what_is_not_used():
    assert_close(
        grad(lambda x, y, z: y * y)(1.3, 2.5, 7.1), (0.0, 5.0, 0.0), "grad(y * y)(1.3, 2.5, 7.1)", "(7)", rtol=RTOL
    )


def test_grad_of_a_constant_is_zero():
    assert_close(grad(lambda x, y: 4.5)(1.3, 2.5), (0.0, 0.0), "grad(4.5)(1.3, 2.5)", "its docstring")


def test_grad_of_an_argument_is_one():
    assert_close(grad(lambda x, y: y)(1.3, 2.5), (0.0, 1.0), "grad(y)(1.3, 2.5)", "(7)")


def test_grad_keeps_equal_arguments_apart():
    assert_close(grad(lambda x, y: x * x * y)(3.0, 3.0), (18.0, 9.0), "grad(x x y)(3, 3)", "(3) and (7)", rtol=RTOL)


def test_grad_may_be_called_again():
    slope = grad(lambda x: x * x * x)
    slope(1.3)
    assert_close(slope(-2.1), (13.23,), "the second call of grad(x * x * x), at -2.1,", "(3) and (7)", rtol=RTOL)


def test_grad_takes_whole_numbers_and_those_of_numpy():
    found = grad(lambda x, y: x**2 * y)(3, np.float32(0.5))
    assert_close(found, (3.0, 9.0), "grad(x ** 2 * y)(3, np.float32(0.5))", "(3), (5)", rtol=RTOL)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, "3", True, 1j, None, np.ones(2)])
def test_grad_refuses_what_is_no_finite_number(wrong):
    with pytest.raises(ValueError, match="value must"):
        grad(lambda x: x * x)(wrong)


@pytest.mark.parametrize("wrong", [None, "3", [Var(1.0)], math.nan])
def test_grad_refuses_a_function_that_returns_no_number(wrong):
    with pytest.raises(ValueError, match="value must"):
        grad(lambda x: wrong)(1.3)
