"""Shared tests of calculus/taylor: run on the reference, and on the learner's file.

The terms are sums of a few products, so that their tolerance is a thousand roundings. Expansions are held against polynomials, which
they reproduce, and against an exponential, whose remainder is a series that is summed here without cancellation.
"""

import math

import numpy as np
import pytest

from mlpath.calculus.taylor import (
    cubic_term,
    expansion,
    integral_remainder,
    linear_term,
    measured_order,
    multi_indices,
    quadratic_term,
    remainder_bound,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-12, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}
STEPS = np.array([[0.31, -0.42, 0.73], [1.27, 0.15, -0.58], [-2.4, 1.9, 0.66], [0.0, 0.0, 0.0]])
GRADIENT = np.array([1.7, -0.6, 2.3])
HESSIAN = np.array([[2.3, -0.4, 0.7], [-0.4, 1.9, 1.1], [0.7, 1.1, -3.1]])


def third_derivatives():
    """All entries of a third derivative, symmetric in all axes."""
    rng, third = np.random.default_rng(0), np.zeros((3, 3, 3))
    for i in range(3):
        for j in range(i, 3):
            for k in range(j, 3):
                value = rng.normal()
                for a, b, c in ((i, j, k), (i, k, j), (j, i, k), (j, k, i), (k, i, j), (k, j, i)):
                    third[a, b, c] = value
    return third


THIRD = third_derivatives()
C = np.array([0.4, -0.7, 0.3])  # the exponential e^(c.x): each derivative brings down a factor


def partial_of_exponential(alpha):
    return float(np.prod(C ** np.array(alpha)))


# linear_term


def test_linear_term_is_the_slope_along_each_step():
    expected = [sum(GRADIENT[i] * d[i] for i in range(3)) for d in STEPS]
    assert_close(linear_term(GRADIENT, STEPS), expected, "linear_term(gradient, steps)", "equation (1)", **ROUNDING)


def test_linear_term_takes_one_variable_and_one_step():
    got = linear_term(np.array([1.7]), np.array([[0.31]]))
    assert_close(got, [0.527], "linear_term([1.7], [[0.31]])", "equation (1)", **ROUNDING)


def leaves_alone(term, derivatives):
    d, steps = derivatives.copy(), STEPS.copy()
    term(d, steps)
    assert np.array_equal(d, derivatives) and np.array_equal(steps, STEPS), f"{term.__name__} changed its arguments"


def keeps_single_precision(term, derivatives):
    got = term(derivatives.astype(np.float32), STEPS.astype(np.float32)).dtype
    assert got == np.float32, f"{term.__name__} of float32 returned {got}, expected float32"


def test_linear_term_keeps_to_its_arguments():
    leaves_alone(linear_term, GRADIENT)
    keeps_single_precision(linear_term, GRADIENT)


def test_linear_term_takes_whole_numbers():
    got = linear_term(np.array([2, -3]), np.array([[4, 1], [0, 5]]))
    assert_close(got, [5.0, -15.0], "linear_term of whole numbers", "equation (1)", **ROUNDING)


@pytest.mark.given
@pytest.mark.parametrize(
    ("gradient", "steps", "named"),
    [
        ([1.0, 2.0], STEPS, "gradient must have the shape"),
        ([1.0, np.nan, 2.0], STEPS, "gradient must be"),
        (GRADIENT, [1.0, 2.0, 3.0], "steps must be"),
        (GRADIENT, np.zeros((0, 3)), "steps must be"),
    ],
)
def test_linear_term_refuses(gradient, steps, named):
    with pytest.raises(ValueError, match=named):
        linear_term(np.array(gradient), np.array(steps))


# quadratic_term


def test_quadratic_term_is_half_the_second_derivative_along_each_step():
    pairs = [(i, j) for i in range(3) for j in range(3)]
    expected = [sum(HESSIAN[i, j] * d[i] * d[j] for i, j in pairs) / 2 for d in STEPS]
    call = "quadratic_term(hessian, steps)"
    assert_close(quadratic_term(HESSIAN, STEPS), expected, call, "equations (1) and (2)", **ROUNDING)


def test_quadratic_term_takes_one_variable_and_one_step():
    got = quadratic_term(np.array([[1.7]]), np.array([[0.31]]))
    assert_close(got, [1.7 * 0.31**2 / 2], "quadratic_term([[1.7]], [[0.31]])", "equations (1) and (2)", **ROUNDING)


def test_quadratic_term_takes_many_steps():
    steps = np.tile(STEPS, (50_000, 1))
    got = quadratic_term(HESSIAN, steps)
    call = "quadratic_term(hessian, 200,000 steps)"
    assert_close(got[-4:], quadratic_term(HESSIAN, STEPS), call, "the same as for four of them", **ROUNDING)


def test_quadratic_term_keeps_to_its_arguments():
    leaves_alone(quadratic_term, HESSIAN)
    keeps_single_precision(quadratic_term, HESSIAN)


@pytest.mark.given
@pytest.mark.parametrize("hessian", [np.eye(2), np.ones((3, 2)), np.full((3, 3), np.inf), GRADIENT])
def test_quadratic_term_refuses(hessian):
    with pytest.raises(ValueError, match="hessian must"):
        quadratic_term(hessian, STEPS)


# cubic_term


def test_cubic_term_is_a_sixth_of_the_third_derivative_along_each_step():
    axes = [(i, j, k) for i in range(3) for j in range(3) for k in range(3)]
    expected = [sum(THIRD[i, j, k] * d[i] * d[j] * d[k] for i, j, k in axes) / 6 for d in STEPS]
    call = "cubic_term(third, steps)"
    assert_close(cubic_term(THIRD, STEPS), expected, call, "equations (1) and (2)", **ROUNDING)


def test_cubic_term_changes_its_sign_with_the_step():
    call = "cubic_term(third, -steps)"
    assert_close(cubic_term(THIRD, -STEPS), -cubic_term(THIRD, STEPS), call, "-cubic_term(third, steps)", **ROUNDING)


def test_cubic_term_keeps_to_its_arguments():
    leaves_alone(cubic_term, THIRD)
    keeps_single_precision(cubic_term, THIRD)


@pytest.mark.given
@pytest.mark.parametrize("third", [np.ones((2, 2, 2)), HESSIAN, np.full((3, 3, 3), np.nan)])
def test_cubic_term_refuses(third):
    with pytest.raises(ValueError, match="third must"):
        cubic_term(third, STEPS)


# multi_indices


def test_multi_indices_of_two_variables():
    got = sorted(map(tuple, multi_indices(2, 2).tolist()))
    expected = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)]
    assert got == expected, f"multi_indices(2, 2) returned, sorted, {got}, expected {expected}"


@pytest.mark.parametrize(("n", "order"), [(1, 4), (3, 3), (5, 2), (2, 7), (4, 0)])
def test_multi_indices_are_all_there_once(n, order):
    got = multi_indices(n, order)
    call = f"multi_indices({n}, {order})"
    count = math.comb(n + order, order)
    assert got.shape == (count, n), f"{call} has the shape {got.shape}, expected ({count}, {n}): see after (3)"
    assert len(np.unique(got, axis=0)) == count, f"{call} holds a multi-index twice"
    assert got.min() == 0 and got.sum(axis=1).max() == order, f"{call} holds counts below 0, or no order {order}"


def test_multi_indices_come_in_ascending_order():
    orders = multi_indices(3, 4).sum(axis=1)
    assert (np.diff(orders) >= 0).all(), (
        f"multi_indices(3, 4) has the orders {orders.tolist()}, expected ascending ones"
    )


@pytest.mark.given
def test_multi_indices_refuses():
    with pytest.raises(ValueError, match="n must"):
        multi_indices(0, 2)
    for order in (-1, 1.5):
        with pytest.raises(ValueError, match="order must"):
            multi_indices(2, order)


# expansion


def test_expansion_of_order_zero_is_the_value():
    got = expansion(lambda alpha: 7.3, 0, STEPS)
    assert_close(got, [7.3] * 4, "expansion(partials, 0, steps)", "f(a), equation (3)", **ROUNDING)


def test_expansion_of_order_one():
    values = {(0, 0, 0): 7.3, (1, 0, 0): 1.7, (0, 1, 0): -0.6, (0, 0, 1): 2.3}
    expected = 7.3 + linear_term(GRADIENT, STEPS)
    assert_close(expansion(values.__getitem__, 1, STEPS), expected, "expansion(partials, 1, steps)", "(2)", **ROUNDING)


def test_expansion_is_the_sum_of_the_terms():
    def partials(alpha):
        axes = [i for i in range(3) for _ in range(alpha[i])]
        return [7.3, GRADIENT, HESSIAN, THIRD][len(axes)][tuple(axes)] if axes else 7.3

    expected = 7.3 + linear_term(GRADIENT, STEPS) + quadratic_term(HESSIAN, STEPS) + cubic_term(THIRD, STEPS)
    assert_close(expansion(partials, 3, STEPS), expected, "expansion(partials, 3, steps)", "equation (2)", **ROUNDING)


def test_expansion_reproduces_a_polynomial_everywhere():
    # x^3 y^2 - 2 x y^4 + 3 at (1.2, -0.7), whose derivatives are made from those of powers.
    a = np.array([1.2, -0.7])

    def of_powers(p, alpha):
        if any(k > q for k, q in zip(alpha, p, strict=True)):
            return 0.0
        return math.prod(math.perm(q, k) * x ** (q - k) for x, q, k in zip(a, p, alpha, strict=True))

    def partials(alpha):
        return of_powers((3, 2), alpha) - 2 * of_powers((1, 4), alpha) + 3 * of_powers((0, 0), alpha)

    steps = np.array([[0.4, 0.9], [-3.1, 2.2], [5.0, -4.0]])
    x, y = (a + steps).T
    call = "expansion of order 5 of x^3 y^2 - 2 x y^4 + 3"
    assert_close(expansion(partials, 5, steps), x**3 * y**2 - 2 * x * y**4 + 3, call, "the polynomial", rtol=1e-11)


def test_expansion_converges_to_an_exponential():
    expected = np.exp(STEPS @ C)
    got = expansion(partial_of_exponential, 16, STEPS)
    assert_close(got, expected, "expansion of e^(c.x) of order 16", "e^(c.d): what (5) leaves is below 1e-9", rtol=1e-8)


def test_expansion_asks_for_each_derivative_once():
    asked = []
    expansion(lambda alpha: asked.append(alpha) or 1.0, 3, STEPS)
    assert len(asked) == len(set(asked)) == 20, (
        f"expansion of order 3 in 3 variables asked for {len(asked)} derivatives"
    )
    assert all(type(alpha) is tuple for alpha in asked), (
        f"expansion asked for {type(asked[0]).__name__}s, expected tuples"
    )


def test_expansion_leaves_its_steps_alone():
    steps = STEPS.copy()
    expansion(partial_of_exponential, 3, steps)
    assert np.array_equal(steps, STEPS), "expansion changed its steps"


def test_expansion_keeps_single_precision():
    got = expansion(partial_of_exponential, 3, STEPS.astype(np.float32)).dtype
    assert got == np.float32, f"expansion of float32 steps returned {got}, expected float32"


@pytest.mark.given
def test_expansion_refuses():
    with pytest.raises(ValueError, match="order must"):
        expansion(partial_of_exponential, -1, STEPS)
    with pytest.raises(ValueError, match="steps must"):
        expansion(partial_of_exponential, 2, STEPS[0])


# remainder_bound


def test_remainder_bound_follows_equation_5():
    got = remainder_bound(3.4, 2, STEPS)
    lengths = [sum(abs(entry) for entry in d) for d in STEPS]
    expected = [3.4 * length**3 / 6 for length in lengths]
    assert_close(got, expected, "remainder_bound(3.4, 2, steps)", "equation (5)", **ROUNDING)


@pytest.mark.parametrize("order", [0, 1, 4])
def test_remainder_bound_holds(order):
    # No derivative of order k + 1 of e^(c.x) exceeds max|c|^(k+1) times its largest value on the way.
    for d in STEPS[:3]:
        largest = np.abs(C).max() ** (order + 1) * np.exp(max(0.0, d @ C))
        missed = abs(np.exp(d @ C) - expansion(partial_of_exponential, order, d[None])[0])
        bound = remainder_bound(largest, order, d[None])[0]
        assert missed <= bound, (
            f"an expansion of order {order} misses {missed:.4g} at {d}, more than the bound {bound:.4g}"
        )


def test_remainder_bound_is_reached_by_a_power():
    # f = x^4 / 24 at 0 has the fourth derivative 1 and no other: its expansion of order 3 is 0, and misses all of it.
    got = remainder_bound(1.0, 3, np.array([[1.3]]))
    assert_close(got, [1.3**4 / 24], "remainder_bound(1, 3, [[1.3]])", "x^4 / 24, what is missed", **ROUNDING)


def test_remainder_bound_of_high_orders():
    got = remainder_bound(2.0, 200, np.array([[30.0, -20.0], [0.0, 0.0]]))
    expected = 2 * math.exp(201 * math.log(50) - math.lgamma(202))
    call = "remainder_bound(2, 200, [[30, -20], [0, 0]])"
    why = "equation (5), though 50^201 alone is no float"
    assert_close(got, [expected, 0.0], call, why, rtol=1e-9, tolerance="the logarithms lose some digits")


def test_remainder_bound_keeps_to_its_arguments():
    steps = STEPS.copy()
    remainder_bound(3.4, 2, steps)
    assert np.array_equal(steps, STEPS), "remainder_bound changed its steps"
    assert remainder_bound(3.4, 2, STEPS.astype(np.float32)).dtype == np.float32, (
        "remainder_bound of float32 steps is no float32"
    )


@pytest.mark.given
def test_remainder_bound_refuses():
    for largest in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="largest must"):
            remainder_bound(largest, 2, STEPS)
    with pytest.raises(ValueError, match="order must"):
        remainder_bound(1.0, -1, STEPS)
    with pytest.raises(ValueError, match="steps must"):
        remainder_bound(1.0, 2, STEPS * np.nan)


# integral_remainder


def exponential_remainder(rate, order):
    """What the expansion of e^(rate t) from 0 to 1 misses: the rest of the series, summed from its smallest term."""
    return math.fsum(rate**k / math.factorial(k) for k in range(order + 1, order + 60))


@pytest.mark.parametrize("order", [0, 1, 2, 5, 12])
def test_integral_remainder_of_an_exponential(order):
    got = integral_remainder(lambda t: 1.7 ** (order + 1) * math.exp(1.7 * t), order)
    expected = exponential_remainder(1.7, order)
    call = f"integral_remainder(1.7^{order + 1} e^(1.7 t), {order})"
    assert_close(
        got, expected, call, "the rest of the series, equation (4)", rtol=1e-9, tolerance="the docstring: ten digits"
    )


def test_integral_remainder_is_exactly_what_is_missed():
    d = STEPS[1]
    got = integral_remainder(lambda t: (d @ C) ** 4 * math.exp(t * (d @ C)), 3)
    missed = np.exp(d @ C) - expansion(partial_of_exponential, 3, d[None])[0]
    assert_close(got, missed, "integral_remainder along a step", "f(a + d) less the expansion", rtol=1e-6, atol=1e-14)


def test_integral_remainder_is_not_the_same_forwards_and_backwards():
    got = integral_remainder(lambda t: 4.0 * t, 1)
    assert_close(got, 4 * (1 / 2 - 1 / 3), "integral_remainder(4 t, 1)", "the integral of (1 - t) 4 t", rtol=1e-10)


def test_integral_remainder_of_a_tiny_step_has_its_digits():
    got = integral_remainder(lambda t: 1e-4**4 * math.exp(1e-4 * t), 3)
    call = "integral_remainder of a step of 1e-4, order 3"
    assert_close(got, exponential_remainder(1e-4, 3), call, "the rest of the series", rtol=1e-9, atol=0)


@pytest.mark.given
def test_integral_remainder_refuses():
    for order in (-1, 2.5, 21):
        with pytest.raises(ValueError, match="order must"):
            integral_remainder(math.exp, order)


# measured_order


def test_measured_order_of_a_power():
    scales = np.array([0.8, 0.37, 0.2, 0.11])
    got = measured_order(scales, 5.3 * scales**2.6)
    assert_close(got, 2.6, "measured_order(s, 5.3 s^2.6)", "equation (6)", rtol=1e-9)


def test_measured_order_is_by_least_squares():
    scales, errors = np.array([1.9, 1.1, 0.6, 0.17]), np.array([3.1, 0.7, 0.4, 0.003])
    expected = np.polyfit(np.log(scales), np.log(errors), 1)[0]
    assert_close(measured_order(scales, errors), expected, "measured_order(scales, errors)", "equation (6)", rtol=1e-9)


def test_measured_order_ignores_signs_and_rounding():
    scales = np.array([0.8, 0.4, 0.2, 1e-3, 1e-4])
    errors = np.array([-0.512, 0.064, -0.008, 1.1e-6, 0.0])
    got = measured_order(scales, errors, floor=1.1e-6)
    assert_close(got, 3.0, "measured_order with a floor of 1.1e-6", "the first three, as 0.4^3 = 0.064", rtol=1e-9)
    assert_close(
        measured_order(scales[[0, 1, 4]], errors[[0, 1, 4]]), 3.0, "measured_order with an error of 0", "3", rtol=1e-9
    )


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_measured_order_of_an_expansion_is_one_more(order):
    scales = 0.5 ** np.arange(2, 7)
    steps = scales[:, None] * STEPS[2]
    errors = np.exp(steps @ C) - expansion(partial_of_exponential, order, steps)
    got = measured_order(scales, errors)
    assert abs(got - order - 1) < 0.2, (
        f"measured_order of an expansion of order {order} is {got:.3f}, expected {order + 1}"
    )


def test_measured_order_finds_a_wrong_derivative():
    wrong = HESSIAN + np.array([[0.0, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.0]])
    scales = 0.5 ** np.arange(2, 9)
    steps = scales[:, None] * STEPS[0]
    truth = linear_term(GRADIENT, steps) + quadratic_term(HESSIAN, steps) + cubic_term(THIRD, steps)
    right = measured_order(scales, truth - linear_term(GRADIENT, steps) - quadratic_term(HESSIAN, steps))
    mistaken = measured_order(scales, truth - linear_term(GRADIENT, steps) - quadratic_term(wrong, steps))
    assert_close(right, 3.0, "measured_order with the right Hessian", "3: the cubic is what is missed", rtol=1e-6)
    assert mistaken < 2.5, f"measured_order with a wrong Hessian is {mistaken:.3f}, expected about 2"


def test_measured_order_leaves_its_arguments_alone():
    scales, errors = np.array([0.8, 0.4, 0.2]), np.array([-0.5, 0.06, 0.008])
    measured_order(scales, errors)
    assert errors.tolist() == [-0.5, 0.06, 0.008] and scales.tolist() == [0.8, 0.4, 0.2], (
        "measured_order changed its arguments"
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("scales", "errors", "floor", "named"),
    [
        ([0.2, 0.1], [1.0], 0.0, "errors must have"),
        ([0.2, -0.1], [1.0, 2.0], 0.0, "scales must be positive"),
        ([0.2, np.nan], [1.0, 2.0], 0.0, "scales must"),
        ([0.2, 0.1], [1.0, np.nan], 0.0, "errors must"),
        ([0.2, 0.1], [1.0, 2.0], -1.0, "floor must"),
        ([0.2, 0.1], [1.0, 2.0], 1.0, "errors must exceed"),
        ([0.2, 0.2], [1.0, 2.0], 0.0, "errors must exceed"),
    ],
)
def test_measured_order_refuses(scales, errors, floor, named):
    with pytest.raises(ValueError, match=named):
        measured_order(np.array(scales), np.array(errors), floor)
