"""Shared tests of optim/line_search: run on the reference, and on the learner's file.

Everything here is deterministic. Most objectives are functions of one number, laid along a slanted direction in three
dimensions: tolerances of 1e-9 leave room for the rounding of that, which is some 1e-15.
"""

from math import inf, isfinite, nan, pi

import numpy as np
import pytest

from mlpath.optim._shared import beale, logistic, quadratic, rosenbrock
from mlpath.optim.line_search import (
    FOUND,
    NOT_FOUND,
    Ray,
    Trial,
    armijo_search,
    cubic_minimizer,
    enough_curvature,
    strong_wolfe_search,
    sufficient_decrease,
    wolfe_search,
    zoom,
)
from mlpath.testing import assert_close

DIRECTION = np.array([0.5, -1.5, 2.0])
ACROSS = DIRECTION / (DIRECTION @ DIRECTION)  # its product with the direction is 1


class Line:
    """A function of one number, with its slope, seen along the direction from a point; it remembers its trials."""

    def __init__(self, phi, slope):
        self.phi, self.slope, self.origin, self.trials = phi, slope, np.array([1.0, 0.25, -3.0]), []
        self.ray = Ray(self.fun, self.grad, self.origin, DIRECTION)
        self.trials.clear()

    def along(self, x):
        return float((x - self.origin) @ ACROSS)

    def fun(self, x):
        self.trials.append(self.along(x))
        return self.phi(self.trials[-1])

    def grad(self, x):
        return self.slope(self.along(x)) * ACROSS

    def trial(self, step_size):
        """A trial that is not counted."""
        return Trial(step_size, self.phi(step_size), self.slope(step_size), self.slope(step_size) * ACROSS)


class Counted:
    """A function that remembers where it was called."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(np.array(x))
        return self.function(x)


def trial(step_size, value, slope):
    return Trial(step_size, value, slope, slope * ACROSS)


def polynomial(*coefficients):
    """A polynomial from its coefficients, lowest power first, and its derivative."""
    p = np.polynomial.Polynomial(coefficients)
    return lambda a: float(p(a)), lambda a: float(p.deriv()(a))


def valley(bottom):
    """A steep function with its minimum there, which no cubic fits: the third root would, of a sixth power."""
    return lambda a: (a - bottom) ** 6 + (a - bottom) ** 2, lambda a: 6 * (a - bottom) ** 5 + 2 * (a - bottom)


def kinked(a):
    """The third function of Moré and Thuente but for its ripple: down by 1, up by 1, a smooth bend between."""
    return (1 - a, -1.0) if a <= 0.99 else (a - 1, 1.0) if a >= 1.01 else (50 * (a - 1) ** 2 + 0.005, 100 * (a - 1))


def rippled(a):
    value, slope = kinked(a)
    return value + 2 * 0.99 / (39 * pi) * np.sin(39 * pi * a / 2), slope + 0.99 * np.cos(39 * pi * a / 2)


def hyperbolas(b1, b2):
    """The last three functions of Moré and Thuente: sums of two hyperbolas with sharp bends at 0 and 1."""
    g1, g2 = np.sqrt(1 + b1**2) - b1, np.sqrt(1 + b2**2) - b2
    return (
        lambda a: g1 * np.hypot(1 - a, b2) + g2 * np.hypot(a, b1),
        lambda a: -g1 * (1 - a) / np.hypot(1 - a, b2) + g2 * a / np.hypot(a, b1),
    )


MORE_THUENTE = {  # name: phi, its slope, decrease, curvature
    "1": (lambda a: -a / (a**2 + 2), lambda a: (a**2 - 2) / (a**2 + 2) ** 2, 0.001, 0.1),
    "2": (
        lambda a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
        lambda a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
        0.05,
        0.1,
    ),
    "3": (lambda a: rippled(a)[0], lambda a: rippled(a)[1], 0.05, 0.1),
    "4": (*hyperbolas(0.001, 0.001), 0.0005, 0.001),
    "5": (*hyperbolas(0.01, 0.001), 0.0005, 0.001),
    "6": (*hyperbolas(0.001, 0.01), 0.0005, 0.001),
}


def directions():
    """Real objectives at points off their minimum, each with a direction of descent, not the steepest."""
    rng = np.random.default_rng(1969)
    features = rng.standard_normal((60, 7))
    signs = np.sign(features @ rng.standard_normal(7) + 0.3)
    problems = {
        "quadratic": quadratic(np.geomspace(0.1, 50, 9), rng=rng),
        "rosenbrock": rosenbrock(6),
        "beale": beale(),
        "logistic": logistic(features, signs, ridge=0.01),
    }
    for name, problem in problems.items():
        for _ in range(5):
            x = problem.start + 0.3 * rng.standard_normal(len(problem.start))
            downhill = -problem.grad(x)
            aside = rng.standard_normal(len(x))
            aside -= aside @ downhill / (downhill @ downhill) * downhill
            yield name, problem, x, downhill + aside * np.linalg.norm(downhill) / np.linalg.norm(aside)


def check_conditions(line, step_size, call, *, decrease, curvature, strong):
    """Assert the conditions of Wolfe by the functions themselves."""
    start, value, slope = line.trial(0.0), line.phi(step_size), line.slope(step_size)
    bound = start.value + decrease * step_size * start.slope
    assert value <= bound + 1e-12 * abs(bound), f"{call} has the value {value} at {step_size}, (2) allows {bound}"
    least = curvature * start.slope
    assert slope >= least * (1 + 1e-9), f"{call} has the slope {slope} at {step_size}, (3) asks for at least {least}"
    if strong:
        assert slope <= -least * (1 + 1e-9), f"{call} has the slope {slope} at {step_size}, (4) allows {-least}"


# sufficient_decrease


@pytest.mark.parametrize(
    ("step_size", "value", "expected"),
    [(0.35, 1.481, True), (0.35, 1.485, False), (2.5, 0.16, False), (2.5, 0.14, True), (0.35, 1.75, False)],
)
def test_sufficient_decrease_compares_with_the_line_of_equation_2(step_size, value, expected):
    start = trial(0.0, 1.7, -3.1)
    found = sufficient_decrease(start, step_size, value, decrease=0.2)
    bound = 1.7 - 0.2 * 3.1 * step_size
    assert bool(found) is expected, (
        f"from the value 1.7 and the slope -3.1, with c1 = 0.2, the value {value} at {step_size} should give {expected}, "
        f"since (2) allows at most {bound:.4f}; got {found}"
    )


def test_sufficient_decrease_holds_on_the_line_itself():
    found = sufficient_decrease(trial(0.0, 2.0, -4.0), 0.5, 1.5, decrease=0.25)
    assert bool(found), f"at the value 1.5, just what (2) allows, sufficient_decrease returned {found}"


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_sufficient_decrease_refuses_what_is_not_finite(value):
    found = sufficient_decrease(trial(0.0, 2.0, -4.0), 0.5, value, decrease=0.25)
    assert not found, f"sufficient_decrease at the value {value} returned {found}, expected False"


# enough_curvature


@pytest.mark.parametrize(
    ("slope", "weak", "strong"),
    [(-3.9, False, False), (-1.61, False, False), (-1.59, True, True), (0.3, True, True), (1.59, True, True)]
    + [(1.61, True, False), (77.0, True, False)],
)
def test_enough_curvature_compares_slopes_by_equations_3_and_4(slope, weak, strong):
    start = trial(0.0, 5.0, -4.0)
    for is_strong, expected in ((False, weak), (True, strong)):
        found = enough_curvature(start, trial(0.7, 1.0, slope), curvature=0.4, strong=is_strong)
        assert bool(found) is expected, (
            f"with the slope -4 at the start, {slope} at the trial and c2 = 0.4, equation ({4 if is_strong else 3}) is "
            f"{expected}; enough_curvature with strong={is_strong} returned {found}"
        )


@pytest.mark.parametrize(("slope", "strong"), [(-1.0, False), (-1.0, True), (1.0, True)])
def test_enough_curvature_holds_at_the_bound_itself(slope, strong):
    found = enough_curvature(trial(0.0, 5.0, -4.0), trial(0.7, 1.0, slope), curvature=0.25, strong=strong)
    assert found, f"a slope of {slope} after -4 is just what c2 = 0.25 allows, with strong={strong}; got {found}"


def test_enough_curvature_asks_for_the_strong_condition_unless_told_otherwise():
    found = enough_curvature(trial(0.0, 5.0, -4.0), trial(0.7, 1.0, 3.0), curvature=0.4)
    assert not found, f"without `strong`, a slope of 3 after one of -4 should fail (4) with c2 = 0.4; got {found}"


@pytest.mark.parametrize("strong", [False, True])
def test_enough_curvature_refuses_a_slope_that_is_no_number(strong):
    found = enough_curvature(trial(0.0, 5.0, -4.0), trial(0.7, 1.0, nan), curvature=0.4, strong=strong)
    assert not found, f"enough_curvature at a slope of NaN returned {found}, expected False"


# cubic_minimizer


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.4, 2.9), (2.9, 0.4), (-1.3, 0.1), (5.0, 7.0), (1.7, 1.2)])
@pytest.mark.parametrize(("factor", "roots"), [(2.3, (-0.7, 1.6)), (-0.9, (0.3, 2.2)), (5.0, (1.45, 1.55))])
def test_cubic_minimizer_finds_the_minimum_of_a_cubic_wherever_it_lies(ends, factor, roots):
    slope = np.polynomial.Polynomial.fromroots(roots) * factor  # it rises at the right root if the factor is positive
    phi, bottom = slope.integ() + 0.8, roots[1] if factor > 0 else roots[0]
    first, second = (trial(a, float(phi(a)), float(slope(a))) for a in ends)
    found = cubic_minimizer(first, second)
    call = f"cubic_minimizer of trials at {ends} on a cubic that is level at {roots}"
    assert_close(found, bottom, call, "its minimum, by (9) and (10)", rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cubic", [0.0, 1e-18, -1e-18, 1e-12, 1e-9, -1e-9])
@pytest.mark.parametrize("ends", [(0.0, 2.0), (2.0, 0.0), (0.3, 0.7), (3.5, 2.5)])
def test_cubic_minimizer_keeps_its_digits_where_the_cubic_is_nearly_a_parabola(cubic, ends):
    # the slope is 3 c (a - 1.3)^2 + 2 k (a - 1.3), which vanishes at 1.3
    first, second = (
        trial(a, cubic * (a - 1.3) ** 3 + 1.7 * (a - 1.3) ** 2, 3 * cubic * (a - 1.3) ** 2 + 3.4 * (a - 1.3))
        for a in ends
    )
    call = f"cubic_minimizer at {ends} on {cubic} (a - 1.3)^3 + 1.7 (a - 1.3)^2"
    assert_close(cubic_minimizer(first, second), 1.3, call, "1.3, by the root that subtracts nothing", rtol=1e-12)


@pytest.mark.parametrize("ends", [(-1.0, 0.5), (0.5, -1.0), (1.0, 2.5), (-0.5, 1.0)])
def test_cubic_minimizer_may_find_a_trial_level_already(ends):
    first, second = (trial(a, a**3 - 3 * a, 3 * a**2 - 3) for a in ends)
    call = f"cubic_minimizer of trials at {ends} on a^3 - 3 a, which is level at -1 and 1,"
    assert_close(cubic_minimizer(first, second), 1.0, call, "its minimum", rtol=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1e-300, 1e200, 1e300])
def test_cubic_minimizer_does_not_depend_on_the_size_of_the_values(size):
    first, second = trial(0.5, 0.7 * size, -2.1 * size), trial(1.9, 0.9 * size, 1.3 * size)
    expected = cubic_minimizer(trial(0.5, 0.7, -2.1), trial(1.9, 0.9, 1.3))
    call = f"cubic_minimizer of values and slopes times {size}"
    assert_close(cubic_minimizer(first, second), expected, call, "the same as without", rtol=1e-12)


def test_cubic_minimizer_of_a_huge_drop_between_gentle_slopes():
    found = cubic_minimizer(trial(0.0, 1e200, -1.5), trial(2.0, 0.0, 1.5))
    assert_close(found, 2.0, "cubic_minimizer of a drop by 1e200 between slopes of -1.5 and 1.5", "(9)", rtol=1e-12)


@pytest.mark.parametrize(
    ("what", "first", "second"),
    [
        ("a cubic with one level place, which is no minimum", (-1.0, -1.0, 3.0), (1.0, 1.0, 3.0)),
        ("a cubic that rises for ever", (0.0, 0.0, 1.3), (1.0, 2.3, 4.3)),
        ("a cubic that falls for ever", (0.0, 0.0, -1.3), (1.0, -2.3, -4.3)),
        ("a parabola that opens downwards", (0.0, 0.0, 1.5), (1.0, 0.5, -0.5)),
        ("a straight line", (0.0, 3.0, -2.0), (0.5, 2.0, -2.0)),
        ("a constant", (0.0, 3.0, 0.0), (0.5, 3.0, 0.0)),
        ("a value of infinity", (0.0, 3.0, -2.0), (0.5, inf, nan)),
        ("a value of NaN", (0.0, 3.0, -2.0), (0.5, nan, nan)),
        ("a slope of NaN", (0.0, 3.0, -2.0), (0.5, 2.5, nan)),
    ],
)
def test_cubic_minimizer_returns_nan_where_there_is_no_minimum(what, first, second):
    for ends in ((first, second), (second, first)):
        found = cubic_minimizer(trial(*ends[0]), trial(*ends[1]))
        far = abs(found) > 1e12 and "parabola" in what  # rounding may leave it a minimum far away
        assert np.isnan(found) or far, f"cubic_minimizer of {what} returned {found}, expected NaN"


# armijo_search


def test_armijo_search_takes_the_first_trial_if_it_will_do():
    line = Line(*polynomial(1.3, -2.0, 1.1))
    result = armijo_search(line.ray, step_size=0.8)
    assert_close(line.trials, [0.8], "the trials of armijo_search on 1.3 - 2 a + 1.1 a^2 from 0.8", rtol=1e-9)
    assert_close(result.step_size, 0.8, "its step_size", "the first trial, which satisfies (2)", rtol=1e-9)
    assert_close(result.value, 1.3 - 1.6 + 1.1 * 0.64, "its value", "the objective at the step", rtol=1e-9)
    assert_close(
        result.gradient, (-2 + 2.2 * 0.8) * ACROSS, "its gradient", "the gradient at the step", rtol=1e-9, atol=1e-12
    )
    assert result.success and result.message == FOUND, f"it found a step, and says {result.success}, {result.message!r}"
    assert (result.nfev, result.ngev) == (2, 2), (
        f"objective and gradient are needed at the start and at the step, twice each; counted {result.nfev}, {result.ngev}"
    )


@pytest.mark.parametrize(
    ("what", "coefficients", "first", "decrease", "expected"),
    [
        ("the parabola's minimum", (0.04, -0.42, 1.05), 1.0, 1e-4, [1.0, 0.2]),
        ("the parabola's minimum", (4.0, -3.1, 0.77), 4.5, 0.2, [4.5, 3.1 / 1.54]),
        ("at least a tenth of the trial", (1e-4, -0.02, 1.0), 1.0, 1e-4, [1.0, 0.1, 0.01]),
        ("at most a half of the trial", (0.0, -1.8, 1.0), 1.2, 0.5, [1.2, 0.6]),
        ("the parabola through the start", (0.0, -2.0, 0.0, 1.0), 2.0, 0.1, [2.0, 0.5]),
    ],
)
def test_armijo_search_tries_next_where_equation_6_says(what, coefficients, first, decrease, expected):
    line = Line(*polynomial(*coefficients))
    result = armijo_search(line.ray, step_size=first, decrease=decrease)
    call = f"the first trials of armijo_search on the polynomial {coefficients} from {first} with c1 = {decrease}"
    assert_close(line.trials[: len(expected)], expected, call, f"{what}, by (6)", rtol=1e-9)
    assert_close(result.step_size, expected[-1], "its step_size", "the last trial", rtol=1e-9)


@pytest.mark.parametrize("wall", [nan, inf, -inf])
def test_armijo_search_halves_where_the_objective_is_not_finite(wall):
    line = Line(lambda a: 0.2 - a + a**2 if a < 0.4 else wall, lambda a: 2 * a - 1)
    result = armijo_search(line.ray, step_size=1.1)
    call = f"the trials of armijo_search from 1.1, where the objective is {wall} from 0.4 on"
    assert_close(line.trials, [1.1, 0.55, 0.275], call, "half the trial, and half again", rtol=1e-9)
    assert result.success, f"it should have found the step 0.275, and says {result.message!r}"


def test_armijo_search_gives_up_after_max_trials_and_stays_at_the_start():
    line = Line(lambda a: 2.5 if a == 0 else 3.5, lambda a: -1.0)
    result = armijo_search(line.ray, max_trials=7)
    assert len(line.trials) == 7, f"armijo_search with max_trials=7 evaluated the objective {len(line.trials)} times"
    assert not result.success and result.message == NOT_FOUND, f"it says {result.success}, {result.message!r}"
    assert (result.step_size, result.value) == (0.0, 2.5), f"not at the start: {result.step_size}, {result.value}"
    assert_close(result.gradient, -ACROSS, "its gradient", "the gradient at the start", rtol=1e-12)
    assert result.ngev == 1, f"a gradient is needed at the start alone, counted {result.ngev}"


def test_armijo_search_returns_the_first_trial_that_satisfies_2_on_real_objectives():
    for name, problem, x, direction in directions():
        before, counted = x.copy(), Counted(problem.fun)
        result = armijo_search(Ray(counted, problem.grad, x, direction), step_size=3.0, decrease=0.3)
        slope, here = problem.grad(x) @ direction, problem.fun(x)
        lengths = [(y - x) @ direction / (direction @ direction) for y in counted.points[1:]]
        passed = [bool(problem.fun(x + a * direction) <= here + 0.3 * a * slope) for a in lengths]
        assert passed == [False] * (len(passed) - 1) + [True], f"{name}: the trials {lengths} satisfy (2): {passed}"
        call = f"{name}: armijo_search(...)"
        assert_close(result.value, problem.fun(x + result.step_size * direction), f"{call}.value", rtol=1e-9)
        assert_close(result.gradient, problem.grad(x + result.step_size * direction), f"{call}.gradient", rtol=1e-9)
        assert_close(x, before, f"{call} changed x, which now")


# wolfe_search


@pytest.mark.parametrize(
    ("what", "coefficients", "first", "decrease", "curvature", "expected"),
    [
        ("doubled while too short", (0.0, -10.0, 1.0), 0.3, 1e-4, 0.5, [0.3, 0.6, 1.2, 2.4, 4.8]),
        ("halved while too long", (0.0, -0.3, 1.0), 1.7, 1e-4, 0.9, [1.7, 0.85, 0.425, 0.2125]),
        ("doubled, then halved between the two", (0.0, -2.0, 1.0), 0.4, 0.3, 0.4, [0.4, 0.8]),
        ("too short at 3, too long at 4", (0.0, -8.0, *7 * [0.0], 1.1e-4), 1.0, 0.15, 0.17, [1.0, 2.0, 4.0, 3.0, 3.5]),
        ("too short at 1.5, too long at 3", (0.0, -4.0, 0.0, 0.29), 1.5, 0.4, 0.5, [1.5, 3.0, 2.25]),
        ("a steep slope upwards is allowed", (0.0, -2.0, 0.0, 1.0), 1.3, 0.1, 0.4, [1.3]),
    ],
)
def test_wolfe_search_doubles_and_halves(what, coefficients, first, decrease, curvature, expected):
    line = Line(*polynomial(*coefficients))
    result = wolfe_search(line.ray, step_size=first, decrease=decrease, curvature=curvature)
    call = f"wolfe_search on the polynomial {coefficients} from {first} with c1 = {decrease}, c2 = {curvature}"
    first_trials = line.trials[: len(expected)]
    assert_close(first_trials, expected, f"the first {len(expected)} trials of {call}", what, rtol=1e-9)
    assert_close(result.step_size, expected[-1], f"{call}.step_size", "the last trial", rtol=1e-9)
    assert_close(result.value, line.phi(expected[-1]), f"{call}.value", rtol=1e-9)
    assert_close(result.gradient, line.trial(expected[-1]).gradient, f"{call}.gradient", rtol=1e-9, atol=1e-12)
    assert result.success and result.message == FOUND, f"{call} says {result.success}, {result.message!r}"
    assert result.nfev == len(expected) + 1, (
        f"{call} counts {result.nfev} evaluations, with the start {len(expected) + 1}"
    )
    check_conditions(line, result.step_size, call, decrease=decrease, curvature=curvature, strong=False)


def test_wolfe_search_manages_a_kink_where_no_slope_is_small():
    line = Line(lambda a: abs(a - 0.7) + 0.1 * a, lambda a: (1.0 if a > 0.7 else -1.0) + 0.1)
    result = wolfe_search(line.ray, curvature=0.5)
    assert result.success, f"on |a - 0.7| + 0.1 a, wolfe_search says {result.message!r}"
    check_conditions(line, result.step_size, "wolfe_search", decrease=1e-4, curvature=0.5, strong=False)


def test_wolfe_search_takes_what_is_not_finite_for_too_long():
    line = Line(lambda a: 2 - a if a < 0.5 else nan, lambda a: -1.0 if a < 0.3 else -0.2)
    result = wolfe_search(line.ray, step_size=1.0, curvature=0.5)
    call = "the trials of wolfe_search on an objective that is NaN from 0.5 on"
    assert_close(line.trials, [1.0, 0.5, 0.25, 0.375], call, "between too short and too long", rtol=1e-9)
    assert result.success, f"it should have found the step 0.375, and says {result.message!r}"


def test_wolfe_search_says_so_if_the_objective_falls_for_ever():
    line = Line(lambda a: 2 - a, lambda a: -1.0)
    result = wolfe_search(line.ray, step_size=0.5, max_trials=6)
    assert len(line.trials) == 6, f"wolfe_search with max_trials=6 evaluated the objective {len(line.trials)} times"
    assert not result.success and result.message == NOT_FOUND, f"it says {result.success}, {result.message!r}"
    assert_close(result.step_size, 16.0, "its step_size", "the last that satisfied (2), 0.5 times 2^5", rtol=1e-9)


def test_wolfe_search_stays_at_the_start_if_nothing_is_lower():
    line = Line(lambda a: 2.0 if a == 0 else 3.0, lambda a: -1.0)
    result = wolfe_search(line.ray, max_trials=5)
    assert not result.success, f"nothing is lower than the start, and it says {result.message!r}"
    assert (result.step_size, result.value) == (0.0, 2.0), f"not at the start: {result.step_size}, {result.value}"


# zoom


@pytest.mark.parametrize("ends", [(0.0, 2.0), (0.5, 2.0), (1.2, 0.1), (0.3, 1.0)])
def test_zoom_finds_the_minimum_of_a_cubic_at_once(ends):
    line = Line(*polynomial(0.0, -2.0, 0.0, 1.0))
    low, high = map(line.trial, ends)
    found, success = zoom(line.ray, low, high, curvature=0.01)
    call = f"zoom between {ends} on a^3 - 2 a"
    assert_close(line.trials, [np.sqrt(2 / 3)], f"the trials of {call}", "where the cubic is least", rtol=1e-9)
    assert success, f"{call} says {success} at {found.step_size}"
    assert_close(found.value, line.phi(np.sqrt(2 / 3)), f"{call}: the trial's value", rtol=1e-9)
    assert_close(found.gradient, np.zeros(3), f"{call}: the trial's gradient", atol=1e-9)


@pytest.mark.parametrize("bottom", [0.05, 0.6, 0.93, 1.4])
@pytest.mark.parametrize("ends", [(0.0, 2.5), (0.0, 1.5)])
def test_zoom_narrows_until_the_slope_is_small(bottom, ends):
    line = Line(*valley(bottom))
    low, high = map(line.trial, ends)
    found, success = zoom(line.ray, low, high, curvature=1e-6, max_trials=60)
    call = f"zoom between {ends} on a valley with its bottom at {bottom}"
    assert success, f"{call} ended at {found.step_size} after {len(line.trials)} trials"
    check_conditions(line, found.step_size, call, decrease=1e-4, curvature=1e-6, strong=True)
    least, greatest = low.step_size, high.step_size
    for a in line.trials:  # the slope tells on which side of every trial the only minimum lies
        assert least < a < greatest, f"{call} tried {a}, though the minimum lies between {least} and {greatest}"
        least, greatest = (least, a) if line.slope(a) > 0 else (a, greatest)
    assert len(line.trials) <= 20, f"{call} took {len(line.trials)} trials; with the cubic, 12 are enough"


def test_zoom_works_from_the_longer_step_to_the_shorter():
    line = Line(*valley(0.6))
    found, success = zoom(line.ray, line.trial(1.1), line.trial(0.0), curvature=1e-3)
    assert success, f"zoom from 1.1 to 0 ended at {found.step_size} after the trials {line.trials}"
    check_conditions(line, found.step_size, "zoom from 1.1 to 0", decrease=1e-4, curvature=1e-3, strong=True)


def test_zoom_keeps_to_the_lower_of_two_valleys():
    # downhill from 0 to the bottom at 1, over a hill at 2, to a bottom at 3, which is higher
    phi, slope = (p := np.polynomial.Polynomial.fromroots([1.0, 2.0, 3.4])).integ(), p
    line = Line(lambda a: float(phi(a)), lambda a: float(slope(a)))
    found, success = zoom(line.ray, line.ray.start, line.trial(3.2), curvature=0.01)
    assert success, f"zoom between 0 and 3.2 ended at {found.step_size} after the trials {line.trials}"
    assert_close(found.step_size, 1.0, "zoom between 0 and 3.2 with minima at 1 and 3.4", "the lower one", rtol=0.05)


def test_zoom_takes_a_trial_that_is_not_below_the_low_end_for_the_new_high_end():
    # the low end is at 0.2; the first trial, in the middle, satisfies (2) but lies higher, on the other side of a hill
    steps, values, slopes = [0.0, 0.2, 1.0], [5.0, 1.0, 5.2], [-30.0, -2.0, nan]

    def phi(a):
        return 1 - 2 * (a - 0.2) + 9 * (a - 0.2) ** 2 if a < 0.45 else 1.5

    line = Line(
        lambda a: 5.0 if a == 0 else phi(a), lambda a: -30.0 if a == 0 else -2 + 18 * (a - 0.2) if a < 0.45 else -28.0
    )
    low, high = (trial(steps[i], values[i], slopes[i]) for i in (1, 2))
    found, success = zoom(line.ray, low, high, decrease=0.01, curvature=0.01)
    assert_close(line.trials[0], 0.6, "the first trial of zoom, where the cubic is no use,", "the middle", rtol=1e-9)
    later = line.trials[1:]
    assert all(0.2 < a < 0.6 for a in later), f"0.6 is higher than the low end, 0.2; after it come {later}"
    assert success and found.value < 1.0, f"zoom ended at {found.step_size} with the value {found.value}, {success}"


def test_zoom_gives_up_after_max_trials_at_the_low_end():
    line = Line(lambda a: abs(a - 0.7), lambda a: 1.0 if a > 0.7 else -1.0)  # no slope is small
    found, success = zoom(line.ray, line.ray.start, line.trial(1.0), curvature=0.5, max_trials=9)
    assert len(line.trials) == 9, f"zoom with max_trials=9 evaluated the objective {len(line.trials)} times"
    assert not success, f"no slope of |a - 0.7| satisfies (4), and zoom says {success} at {found.step_size}"
    lowest = min(map(line.phi, line.trials))
    assert_close(found.value, lowest, "the value at which zoom gave up", "the lowest of its trials", rtol=1e-9)


# strong_wolfe_search


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 10.0, 1e3])
@pytest.mark.parametrize("name", MORE_THUENTE)
def test_strong_wolfe_search_solves_the_problems_of_more_and_thuente(name, first):
    phi, slope, decrease, curvature = MORE_THUENTE[name]
    line = Line(phi, slope)
    result = strong_wolfe_search(line.ray, step_size=first, decrease=decrease, curvature=curvature)
    call = f"strong_wolfe_search on function {name} of Moré and Thuente from {first}"
    assert result.success and result.message == FOUND, f"{call} says {result.message!r} after {len(line.trials)} trials"
    check_conditions(line, result.step_size, call, decrease=decrease, curvature=curvature, strong=True)
    assert_close(result.value, phi(result.step_size), f"{call}.value", rtol=1e-9)
    assert_close(result.gradient, slope(result.step_size) * ACROSS, f"{call}.gradient", rtol=1e-6, atol=1e-9)
    assert result.nfev == len(line.trials) + 1, f"{call} counts {result.nfev} evaluations of {len(line.trials) + 1}"
    assert result.nfev <= 40, f"{call} took {result.nfev} evaluations"


@pytest.mark.parametrize(
    ("coefficients", "first", "expected"),
    [
        ((0.0, -9.0, 1.0), 4.6, [4.6]),
        ((0.0, -9.0, 1.0), 0.3, [0.3, 0.6, 1.2, 2.4, 4.8]),
        ((2.0, -0.4, 1.0), 1.9, [1.9, 0.2]),
    ]
    + [
        ((0.0, -2.0, 0.0, 1.0), 1.2, [1.2, np.sqrt(2 / 3)]),
        ((0.0, -2.0, 0.0, 1.0), 0.25, [0.25, 0.5, 1.0, np.sqrt(2 / 3)]),
    ],
)
def test_strong_wolfe_search_doubles_and_then_zooms(coefficients, first, expected):
    line = Line(*polynomial(*coefficients))
    result = strong_wolfe_search(line.ray, step_size=first, curvature=0.1)
    call = f"strong_wolfe_search on the polynomial {coefficients} from {first} with c2 = 0.1"
    assert_close(line.trials, expected, f"the trials of {call}", "twice the last, then the cubic's minimum", rtol=1e-9)
    assert_close(result.step_size, expected[-1], f"{call}.step_size", "the last trial", rtol=1e-9)


@pytest.mark.parametrize("wall", [nan, inf])
def test_strong_wolfe_search_comes_back_from_where_the_objective_is_not_finite(wall):
    line = Line(lambda a: -np.log(1 - a) - 3 * a if a < 1 else wall, lambda a: 1 / (1 - a) - 3 if a < 1 else nan)
    result = strong_wolfe_search(line.ray, step_size=6.0, curvature=0.1)
    assert result.success, f"on -log(1 - a) - 3 a from 6, strong_wolfe_search says {result.message!r}"
    check_conditions(line, result.step_size, "strong_wolfe_search", decrease=1e-4, curvature=0.1, strong=True)


def test_strong_wolfe_search_notices_that_a_longer_step_is_higher_than_the_last():
    # the second trial satisfies (2), but lies above the first: a minimum is between them, and not beyond
    line = Line(lambda a: float(np.interp(a, TABLE[0], TABLE[1])), lambda a: float(np.interp(a, TABLE[0], TABLE[2])))
    result = strong_wolfe_search(line.ray, step_size=1.0, decrease=0.01, curvature=0.1)
    assert_close(line.trials[:2], [1.0, 2.0], "the first trials of strong_wolfe_search", "doubled", rtol=1e-9)
    assert all(1 < a < 2 for a in line.trials[2:]), (
        f"the value at 2 is above that at 1, so the next trials belong between them; they are {line.trials[2:]}"
    )
    assert result.success, f"it says {result.message!r} after {line.trials}"


TABLE = (  # step sizes, values, slopes: not quite each other's derivative, which no search can see
    [0.0, 1.0, 1.4, 1.6, 2.0, 2.5],
    [9.0, 2.0, 1.0, 1.0, 3.0, 1.0],
    [-9.0, -4.0, 0.0, 0.0, -3.0, 0.0],
)


def test_strong_wolfe_search_says_so_if_the_objective_falls_for_ever():
    line = Line(lambda a: 2 - a, lambda a: -1.0)
    result = strong_wolfe_search(line.ray, step_size=0.5, max_trials=6)
    assert len(line.trials) == 6, f"with max_trials=6 it evaluated the objective {len(line.trials)} times"
    assert not result.success and result.message == NOT_FOUND, f"it says {result.success}, {result.message!r}"
    assert_close(result.step_size, 16.0, "its step_size", "the best found, 0.5 times 2^5", rtol=1e-9)


@pytest.mark.parametrize("first", [0.9, 1.8])
def test_strong_wolfe_search_says_so_if_the_zoom_finds_nothing(first):
    line = Line(lambda a: abs(a - 0.7), lambda a: 1.0 if a > 0.7 else -1.0)  # no slope is small
    result = strong_wolfe_search(line.ray, step_size=first, curvature=0.5, max_trials=9)
    assert not result.success and result.message == NOT_FOUND, f"it says {result.success}, {result.message!r}"
    lowest = min(map(line.phi, line.trials))
    assert_close(result.value, lowest, "the value at which it gave up", "the lowest of its trials", rtol=1e-9)


def test_strong_wolfe_search_gives_what_bfgs_needs_on_real_objectives():
    for name, problem, x, direction in directions():
        ray = Ray(problem.fun, problem.grad, x, direction)
        result = strong_wolfe_search(ray, decrease=1e-3, curvature=0.4)
        call = f"{name}: strong_wolfe_search(...)"
        assert result.success, f"{call} says {result.message!r}"
        start, end = problem.grad(x) @ direction, problem.grad(x + result.step_size * direction) @ direction
        assert abs(end) <= 0.4 * abs(start) * (1 + 1e-9), (
            f"{call} left the slope {end} of {start}, (4) allows 0.4 of it"
        )
        least = -(1 - 0.4) * result.step_size * start
        product = result.step_size * direction @ (result.gradient - problem.grad(x))
        assert product >= least * (1 - 1e-9), f"{call} has s'y = {product}, below {least}, against (5)"
        assert isfinite(result.value) and result.value < problem.fun(x), f"{call} did not descend"


def test_strong_wolfe_search_keeps_float32():
    problem = rosenbrock(4)
    x = problem.start.astype(np.float32)
    result = strong_wolfe_search(Ray(problem.fun, problem.grad, x, -problem.grad(x).astype(np.float32)), step_size=1e-3)
    assert result.gradient.dtype == np.float32, f"from float32 vectors came a gradient of {result.gradient.dtype}"
    assert result.success, f"it says {result.message!r}"


# the checks, which are given

SEARCHES = {"armijo_search": armijo_search, "wolfe_search": wolfe_search, "strong_wolfe_search": strong_wolfe_search}


@pytest.mark.given
@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize(
    ("argument", "value"),
    [("step_size", 0.0), ("step_size", -1.0), ("step_size", inf), ("step_size", nan), ("max_trials", 0)]
    + [("decrease", 0.0), ("decrease", 1.0), ("decrease", nan), ("curvature", 1.0), ("curvature", 0.0)],
)
def test_strong_wolfe_search_and_the_others_refuse_what_they_cannot_use(name, argument, value):
    if name == "armijo_search" and argument == "curvature":
        return
    with pytest.raises(ValueError, match=argument):
        SEARCHES[name](Line(*polynomial(0.0, -1.0, 1.0)).ray, **{argument: value})


@pytest.mark.given
def test_strong_wolfe_search_refuses_shares_in_the_wrong_order():
    with pytest.raises(ValueError, match="decrease"):
        strong_wolfe_search(Line(*polynomial(0.0, -1.0, 1.0)).ray, decrease=0.5, curvature=0.2)


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "x", "direction"),
    [
        ("direction", [1.0, 2.0], [1.0, 2.0]),
        ("direction", [1.0, 2.0], [2.0, -1.0]),
        ("direction", [1.0, 2.0], [0.0, 0.0]),
        ("direction", [1.0, 2.0], [-1.0, nan]),
        ("direction", [1.0, 2.0], [-1.0]),
        ("x", [1.0, inf], [-1.0, -2.0]),
        ("x", [], []),
        ("x", [[1.0]], [[-1.0]]),
        ("fun", [800.0, 800.0], [-1.0, -1.0]),
    ],
)
def test_strong_wolfe_search_has_a_ray_that_refuses_what_leads_nowhere(name, x, direction):
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=name):
        Ray(lambda x: x @ x if x[0] < 700 else inf, lambda x: 2 * x, np.array(x), np.array(direction))


@pytest.mark.given
def test_strong_wolfe_search_has_a_ray_that_takes_what_is_known_already():
    ray = Ray(lambda x: x @ x, lambda x: 2 * x, np.ones(2), -np.ones(2), value=2.0, gradient=np.array([2.0, 2.0]))
    assert (ray.nfev, ray.ngev, ray.start.value, ray.start.slope) == (0, 0, 2.0, -4.0), (
        "Ray evaluated what it was given"
    )
    with pytest.raises(ValueError, match="grad"):
        Ray(lambda x: x @ x, lambda x: x[:1], np.ones(2), -np.ones(2))
