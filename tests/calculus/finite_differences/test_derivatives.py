"""Shared tests of calculus/finite_differences/derivatives: run on the reference, and on the learner's file.

Nothing here is random. Differences of polynomials at small points are compared with what they are in exact arithmetic: they
lose at most the digits of the step, so that rtol = 1e-10 leaves a hundredfold margin where steps are 0.05 or more.
"""

import numpy as np
import pytest

from mlpath.calculus.finite_differences.derivatives import (
    central_difference,
    complex_step,
    error_bound,
    forward_difference,
    optimal_step,
    richardson,
)
from mlpath.testing import assert_close

RTOL = 1e-10
EPS = np.finfo(float).eps
X = np.array([-1.7, 0.4, 2.3, 5.9])
DIFFERENCES = {"forward_difference": forward_difference, "central_difference": central_difference}


def cubic(x):
    return 0.7 * x**3 - 1.3 * x**2 + 2.9


def cubic_slope(x):
    return 2.1 * x**2 - 2.6 * x


def curve(x):
    """A function with all kinds of analytic pieces in it."""
    return np.exp(np.sin(3 * x)) / np.sqrt(x**2 + 1.9)


def curve_slope(x):
    return curve(x) * (3 * np.cos(3 * x) - x / (x**2 + 1.9))


def leaves_alone(function, *arguments, **keywords):
    x = X.copy()
    function(cubic, x, *arguments, **keywords)
    assert np.array_equal(x, X), f"{function.__name__} changed the points that it was given"


# forward_difference


def test_forward_difference_is_rise_over_run():
    # By hand: (f(x + h) - f(x)) / h of the cubic is f'(x) + (2.1 x - 1.3) h + 0.7 h^2.
    expected = cubic_slope(X) + (2.1 * X - 1.3) * 0.35 + 0.7 * 0.35**2
    assert_close(
        forward_difference(cubic, X, 0.35), expected, "forward_difference(cubic, x, 0.35)", "equation (2)", rtol=RTOL
    )


def test_forward_difference_is_off_by_half_of_step_times_curvature():
    error = forward_difference(np.exp, X, 1e-5) - np.exp(X)
    # The next term of Taylor's series is a third of the step, 3e-6 of this one; rounding is 1e-11 / 5e-6 of it.
    call = "forward_difference(np.exp, x, 1e-5) - np.exp(x)"
    assert_close(error, 0.5e-5 * np.exp(X), call, "equation (2)", rtol=1e-4)


@pytest.mark.parametrize("step", [1e-9, 3e-10])
def test_forward_difference_divides_by_the_step_that_was_made(step):
    # 2 x has no rounding error at all, so its slope is 2 to the last digit if the run is that of the rise.
    x = np.array([1e6, 123456.7, 3.1])
    call = f"forward_difference(f, x, {step:g}) for f = 2 x and x = {x}"
    assert_close(forward_difference(lambda x: 2 * x, x, step), np.full(3, 2.0), call, "the note, after (3)", rtol=1e-12)


def test_forward_difference_of_a_float32_is_one():
    slopes = forward_difference(np.sin, X.astype(np.float32), 1e-2)
    assert slopes.dtype == np.float32, f"forward_difference(np.sin, float32 points, 0.01) returned {slopes.dtype}"


def test_forward_difference_leaves_its_points_alone():
    leaves_alone(forward_difference, 0.1)


@pytest.mark.given
@pytest.mark.parametrize("name", DIFFERENCES)
@pytest.mark.parametrize(
    ("x", "step", "named"),
    [
        ([1.0, np.nan], 0.1, "x"),
        ([], 0.1, "x"),
        ([[1.0]], 0.1, "x"),
        ([1j], 0.1, "x"),
        ([1.0], 0.0, "step"),
        ([1.0], -0.1, "step"),
        ([1.0], np.nan, "step"),
        ([1.0, 1e6], 1e-11, "step"),
    ],
)
def test_forward_difference_and_central_difference_refuse(name, x, step, named):
    with pytest.raises(ValueError, match=named):
        DIFFERENCES[name](np.exp, np.array(x), step)


# central_difference


def test_central_difference_goes_to_both_sides():
    # By hand: the second-order terms cancel, and 0.7 h^2 of the cubic is left.
    expected = cubic_slope(X) + 0.7 * 0.35**2
    assert_close(
        central_difference(cubic, X, 0.35), expected, "central_difference(cubic, x, 0.35)", "equation (3)", rtol=RTOL
    )


def test_central_difference_of_a_parabola_is_exact_with_any_step():
    slopes = central_difference(lambda x: 1.9 * x**2 - 0.3 * x, X, 12.5)
    call = "central_difference(f, x, 12.5) for f = 1.9 x^2 - 0.3 x"
    assert_close(slopes, 3.8 * X - 0.3, call, "equation (3), as f''' is 0", rtol=RTOL)


def test_central_difference_is_off_by_a_sixth_of_the_third_derivative():
    error = central_difference(np.exp, X, 1e-3) - np.exp(X)
    # The next term is h^2 / 20 = 5e-8 of this one; rounding is some 1e-13 / 2e-7.
    call = "central_difference(np.exp, x, 0.001) - np.exp(x)"
    assert_close(error, 1e-6 / 6 * np.exp(X), call, "equation (3)", rtol=1e-4)


@pytest.mark.parametrize("step", [1e-9, 3e-10])
def test_central_difference_divides_by_the_distance_that_was_made(step):
    x = np.array([1e6, 123456.7, 3.1])
    call = f"central_difference(f, x, {step:g}) for f = 2 x and x = {x}"
    assert_close(central_difference(lambda x: 2 * x, x, step), np.full(3, 2.0), call, "the note, after (3)", rtol=1e-12)


def test_central_difference_of_a_float32_is_one():
    slopes = central_difference(np.sin, X.astype(np.float32), 1e-2)
    assert slopes.dtype == np.float32, f"central_difference(np.sin, float32 points, 0.01) returned {slopes.dtype}"


def test_central_difference_leaves_its_points_alone():
    leaves_alone(central_difference, 0.1)


# error_bound


def test_error_bound_adds_truncation_and_rounding():
    steps = np.array([0.2, 0.03, 0.7])
    # By hand: 1.7 h + 0.31 / h, and 1.7 h^3 + 0.31 / h.
    for order, expected in ((1, [1.89, 10.3843333333, 1.63285714286]), (3, [1.5636, 10.3333792333, 1.02595714286])):
        call = f"error_bound([0.2, 0.03, 0.7], {order}, constant=1.7, noise=0.31)"
        bound = error_bound(steps, order, constant=1.7, noise=0.31)
        assert_close(bound, np.array(expected), call, "equation (4)", rtol=1e-9)


def test_error_bound_without_noise_is_truncation_alone():
    bound = error_bound(np.array([0.2, 0.03]), 2, constant=1.7, noise=0.0)
    expected = np.array([0.068, 0.00153])
    assert_close(bound, expected, "error_bound([0.2, 0.03], 2, constant=1.7, noise=0)", "equation (4)", rtol=RTOL)


@pytest.mark.parametrize(("name", "order", "constant"), [("forward", 1, np.e**3 / 2), ("central", 2, np.e**3 / 6)])
def test_error_bound_holds_for_the_exponential_between_0_and_3(name, order, constant):
    # e^3 bounds all derivatives here. The values of exp are off by at most one unit in the last place (2.2e-16), and so
    # is, relatively, the difference's own rounding: 3 * 2.2e-16 * e^3 between two of them over the whole.
    x, steps = np.linspace(0.1, 2.9, 300), np.geomspace(1e-13, 0.1, 40)
    errors = [np.abs(DIFFERENCES[f"{name}_difference"](np.exp, x, h) - np.exp(x)).max() for h in steps]
    bounds = error_bound(steps, order, constant, noise=3 * EPS * np.e**3)
    worst = int(np.argmax(errors / bounds))
    assert (errors <= bounds).all(), (
        f"the {name} difference of np.exp with a step of {steps[worst]:.2g} is off by {errors[worst]:.3g}, "
        f"and error_bound returned {bounds[worst]:.3g}: equation (4) bounds the error"
    )


def test_error_bound_leaves_its_steps_alone():
    steps = np.array([0.2, 0.03])
    error_bound(steps, 2, 1.7, 0.1)
    assert np.array_equal(steps, [0.2, 0.03]), "error_bound changed the steps that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([0.1, 0.0], 1, 1.0, 0.1), "step"),
        (([], 1, 1.0, 0.1), "step"),
        (([0.1], 0, 1.0, 0.1), "order"),
        (([0.1], 1, 0.0, 0.1), "constant"),
        (([0.1], 1, np.nan, 0.1), "constant"),
        (([0.1], 1, 1.0, -0.1), "noise"),
    ],
)
def test_error_bound_refuses(arguments, named):
    step, *others = arguments
    with pytest.raises(ValueError, match=named):
        error_bound(np.array(step), *others)


# optimal_step


def test_optimal_step_by_hand():
    # (0.0031 / 1.7)^(1/2), (0.0031 / 3.4)^(1/3) and (0.0031 / 6.8)^(1/5).
    for order, expected in ((1, 0.0427028033), (2, 0.0969678111), (4, 0.2146696045)):
        call = f"optimal_step({order}, constant=1.7, noise=0.0031)"
        assert_close(optimal_step(order, 1.7, 0.0031), expected, call, "equation (5)", rtol=1e-8)


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize(("constant", "noise"), [(1.7, 0.0031), (1e40, 1e-17), (1e-40, 3.0)])
def test_optimal_step_has_the_least_bound(order, constant, noise):
    def bound(h):  # equation (4)
        return constant * h**order + noise / h

    best = optimal_step(order, constant, noise)
    others = best * np.array([0.5, 0.9, 0.99, 1.01, 1.1, 2.0])
    worse = bound(others) > bound(best)
    better = others[np.argmin(bound(others))]
    assert worse.all(), (
        f"optimal_step({order}, {constant:g}, {noise:g}) returned {best:.4g}, of which equation (4) gives {bound(best):.4g}; "
        f"a step of {better:.4g} gives {bound(better):.4g}"
    )


@pytest.mark.parametrize(("name", "order", "constant", "digits"), [("forward", 1, 0.5, 7), ("central", 2, 1 / 6, 9)])
def test_optimal_step_gets_the_digits_that_the_note_says(name, order, constant, digits):
    step = optimal_step(order, constant, noise=2 * EPS)
    slope = DIFFERENCES[f"{name}_difference"](np.sin, np.array([0.8]), step)[0]
    error = abs(slope - np.cos(0.8))
    assert error < 10.0**-digits, (
        f"the {name} difference of np.sin at 0.8 with optimal_step({order}, {constant:.3g}, 4.4e-16) = {step:.2g} "
        f"is off by {error:.1g}; equation (4) promises {digits} digits"
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("arguments", "named"), [((0, 1.0, 0.1), "order"), ((1, -1.0, 0.1), "constant"), ((1, 1.0, 0.0), "noise")]
)
def test_optimal_step_refuses(arguments, named):
    with pytest.raises(ValueError, match=named):
        optimal_step(*arguments)


# complex_step


def test_complex_step_of_a_cubic():
    # By hand: the imaginary part of (x + ih)^3 over h is 3 x^2 - h^2, and that of (x + ih)^2 is 2 x.
    expected = cubic_slope(X) - 0.7 * 0.35**2
    assert_close(complex_step(cubic, X, 0.35), expected, "complex_step(cubic, x, 0.35)", "equation (6)", rtol=RTOL)


def test_complex_step_has_nearly_all_digits():
    # The slope is made of some ten operations of rounding error 1.1e-16 each, on terms up to 5 times as large.
    slopes, call = complex_step(curve, X), "complex_step(exp(sin(3 x)) / sqrt(x^2 + 1.9), x)"
    assert_close(slopes, curve_slope(X), call, "calculus", rtol=1e-13)


def test_complex_step_may_be_as_small_as_you_like():
    slopes, call = complex_step(curve, X, 1e-200), "complex_step(exp(sin(3 x)) / sqrt(x^2 + 1.9), x, 1e-200)"
    assert_close(slopes, curve_slope(X), call, "calculus", rtol=1e-13)


def test_complex_step_returns_real_numbers():
    slopes = complex_step(np.exp, X)
    assert slopes.dtype == np.float64, f"complex_step(np.exp, x) returned {slopes.dtype}: the slopes are real"


def test_complex_step_of_a_float32_is_one():
    slopes = complex_step(np.sin, X.astype(np.float32))
    assert slopes.dtype == np.float32, f"complex_step(np.sin, float32 points) returned {slopes.dtype}"
    assert_close(slopes, np.cos(X), "complex_step(np.sin, float32 points)", "equation (6)", rtol=1e-5, atol=1e-6)


def test_complex_step_leaves_its_points_alone():
    leaves_alone(complex_step)


@pytest.mark.given
@pytest.mark.parametrize(("x", "step", "named"), [([np.inf], 1e-20, "x"), ([[1.0]], 1e-20, "x"), ([1.0], 0.0, "step")])
def test_complex_step_refuses(x, step, named):
    with pytest.raises(ValueError, match=named):
        complex_step(np.exp, np.array(x), step)


# richardson


def test_richardson_with_one_halving_is_a_mixture_of_two():
    # By hand, for 0.11 x^5 + cubic: D(h) = f' + 0.7 h^2 + 0.11 (10 x^2 h^2 + h^4); four thirds of D(h/2) less a third of
    # D(h) leave f' - 0.11 h^4 / 4.
    found = richardson(lambda x: 0.11 * x**5 + cubic(x), X, 0.6, 1)
    expected = cubic_slope(X) + 0.55 * X**4 - 0.11 * 0.6**4 / 4
    call = "richardson(0.11 x^5 + cubic, x, 0.6, 1)"
    assert_close(found.derivative, expected, call + ".derivative", "equation (8)", rtol=RTOL)
    distance = 0.25 * 0.6**2 * (0.7 + 1.1 * X**2) + 0.11 * 0.6**4 * (1 / 16 + 1 / 4)
    assert_close(found.error, distance, call + ".error", "the distance to T_{m,m-1}, equation (8)", rtol=1e-9)


@pytest.mark.parametrize("n_halvings", [1, 2, 3, 4])
def test_richardson_is_exact_for_polynomials(n_halvings):
    # m halvings remove the powers h^2 to h^2m, which are all that a polynomial of degree 2m + 2 has.
    degree = 2 * n_halvings + 2
    x = np.array([-1.1, 0.4, 0.9])
    found = richardson(lambda x: 1.3 * x**degree - x, x, 0.8, n_halvings)
    call = f"richardson(1.3 x^{degree} - x, x, 0.8, {n_halvings}).derivative"
    assert_close(found.derivative, 1.3 * degree * x ** (degree - 1) - 1, call, "equation (8)", rtol=1e-9)
    # T_{m,m-1} has all but the last power removed. The weights that give it have sum w_i q_i^m = (-1)^(m - 1) q_1 ... q_m,
    # with q_i = 4^-i, and that power comes with (2m + 2) x.
    distance = 1.3 * degree * np.abs(x) * 0.8 ** (degree - 2) * 0.25 ** (n_halvings * (n_halvings + 1) / 2)
    because = "the distance to T_{m,m-1}, equation (8)"
    assert_close(found.error, distance, call.replace(".derivative", ".error"), because, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("n_halvings", [2, 3])
def test_richardson_leaves_the_next_power(n_halvings):
    # For x^(2m + 3) the term h^(2m + 2) is left. The mixtures weigh T_{i,0} by numbers w_i with sum 1, for which
    # sum w_i q_i^j = 0 for j = 1..m where q_i = 4^-i; hence sum w_i q_i^(m + 1) = (-1)^m q_0 q_1 ... q_m.
    m, x = n_halvings, np.array([-1.1, 0.4, 0.9])
    power, left = 2 * m + 3, (-1) ** m * 0.8 ** (2 * m + 2) * 0.25 ** (m * (m + 1) / 2)
    found = richardson(lambda x: x**power, x, 0.8, m)
    call = f"richardson(x^{power}, x, 0.8, {m}).derivative"
    assert_close(found.derivative, power * x ** (power - 1) + left, call, "equation (8)", rtol=1e-9)


def test_richardson_gets_eleven_digits_and_knows_it():
    found = richardson(curve, X, 0.1, 5)
    error = np.abs(found.derivative - curve_slope(X))
    assert error.max() < 1e-11, f"richardson(curve, x, 0.1, 5).derivative is off by {error.max():.1g}"
    estimate = found.error + 1e-11  # beside the error there is rounding
    assert (error <= estimate).all(), (
        f"richardson(curve, x, 0.1, 5).error returned {found.error}, and the slopes are off by {error}: "
        "the last mixture is better than the one before it"
    )


def test_richardson_gives_an_error_that_is_not_negative():
    found = richardson(cubic, X, 0.5, 2)
    assert (found.error >= 0).all(), (
        f"richardson(cubic, x, 0.5, 2).error returned {found.error}: a distance is never negative"
    )


def test_richardson_of_a_float32_is_one():
    found = richardson(np.sin, X.astype(np.float32), 0.5, 2)
    for name, array in (("derivative", found.derivative), ("error", found.error)):
        assert array.dtype == np.float32, f"richardson(np.sin, float32 points, 0.5, 2).{name} has dtype {array.dtype}"


def test_richardson_leaves_its_points_alone():
    leaves_alone(richardson, 0.1, 2)


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "step", "n_halvings", "named"),
    [
        ([np.nan], 0.1, 2, "x"),
        ([1.0], -0.1, 2, "step"),
        ([1.0], np.inf, 2, "step"),
        ([1.0], 0.1, 0, "n_halvings"),
        ([1.0], 0.1, 60, "step"),
    ],
)
def test_richardson_refuses(x, step, n_halvings, named):
    with pytest.raises(ValueError, match=named):
        richardson(np.exp, np.array(x), step, n_halvings)
