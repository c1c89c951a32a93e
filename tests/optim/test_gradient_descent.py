"""Shared tests of optim/gradient_descent: run on the reference, and on the learner's file.

Everything here is deterministic. Tolerances of 1e-12 to 1e-9 leave room for another order of summation (an ulp is
2e-16, and condition numbers are 100 at most); wider ones have their reason beside them.
"""

import numpy as np
import pytest

from mlpath.optim._shared import logistic, quadratic, rosenbrock
from mlpath.optim.gradient_descent import (
    CONVERGED,
    DIVERGED,
    OUT_OF_STEPS,
    STALLED,
    backtrack,
    check_arguments,
    contraction,
    exact_step,
    minimize,
    step,
    step_limit,
    stopping,
)
from mlpath.testing import assert_close

SPECTRUM = np.array([0.5, 0.8, 2.0, 3.0, 7.0, 11.0, 20.0])  # condition number 40
RATE = (40 - 1) / (40 + 1)


@pytest.fixture
def rng():
    return np.random.default_rng(1847)


@pytest.fixture
def bowl(rng):
    return quadratic(SPECTRUM, rng=rng)


class Counted:
    """A function that counts its calls, and remembers where it was called."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(np.array(x))
        return self.function(x)


# step


def test_step_goes_against_the_gradient_by_step_size_times_its_length():
    x, gradient = np.array([1.0, -2.0, 5.0]), np.array([3.0, 0.0, -8.0])
    assert_close(step(x, gradient, 0.25), [0.25, -2.0, 7.0], "step([1, -2, 5], [3, 0, -8], 0.25)", "equation (1)")


def test_step_returns_a_new_array_and_leaves_its_arguments_alone(rng):
    x, gradient = rng.standard_normal((2, 12))
    before = x.copy(), gradient.copy()
    moved = step(x, gradient, 0.1)
    assert not np.shares_memory(moved, x), "step wrote the next point into the array x that it was given"
    assert_close(x, before[0], "step(x, gradient, 0.1) changed x, which now")
    assert_close(gradient, before[1], "step(x, gradient, 0.1) changed gradient, which now")


def test_step_keeps_float32():
    moved = step(np.ones(3, np.float32), np.ones(3, np.float32), 0.5)
    assert moved.dtype == np.float32, f"step of float32 arrays returned {moved.dtype}"


# check_arguments

GOOD = {"start": [1.0, 2.0], "step_size": 0.1, "tol": 1e-6, "max_iter": 10}


def check(**changed):
    arguments = GOOD | changed
    return check_arguments(arguments.pop("start"), **arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_size", 0.0),
        ("step_size", -0.1),
        ("step_size", np.nan),
        ("step_size", np.inf),
        ("tol", -1e-9),
        ("tol", np.nan),
        ("tol", np.inf),
        ("max_iter", 0),
        ("max_iter", -3),
        ("start", [1.0, np.nan]),
        ("start", [np.inf, 1.0]),
        ("start", [-np.inf, 1.0]),
        ("start", []),
        ("start", 1.0),
        ("start", [[1.0, 2.0]]),
        ("start", np.ones((3, 1))),
    ],
)
def test_check_arguments_refuses_what_no_descent_can_work_with_and_names_it(name, value):
    with pytest.raises(ValueError, match=name) as refusal:
        check(**{name: value})
    got = (
        str(np.shape(value)) if name == "start" and (np.ndim(value) != 1 or not np.size(value)) else "-" * (value == -3)
    )
    assert got in str(refusal.value), (
        f"{name}={value} was refused with '{refusal.value}', which does not say what was got"
    )


@pytest.mark.parametrize(
    ("name", "value"), [("tol", 0.0), ("max_iter", 1), ("step_size", 1e-300), ("step_size", 1e300)]
)
def test_check_arguments_allows_the_extremes_that_make_sense(name, value):
    assert_close(check(**{name: value}), [1.0, 2.0], f"check_arguments([1, 2], {name}={value})", "the start, unchanged")


def test_check_arguments_turns_integers_into_floats_and_keeps_float32():
    for start, dtype in (
        ([3, 4], np.float64),
        (np.array([3, 4]), np.float64),
        (np.array([3, 4], np.float32), np.float32),
    ):
        x = check(start=start)
        assert_close(x, [3.0, 4.0], f"check_arguments({start!r})", "the start, unchanged")
        assert x.dtype == dtype, f"check_arguments({start!r}) returned {x.dtype}; expected {np.dtype(dtype)}"


def test_check_arguments_returns_a_copy():
    start = np.array([1.0, 2.0])
    assert not np.shares_memory(check(start=start), start), (
        "check_arguments returned the caller's own array, not a copy"
    )


# step_limit


def test_step_limit_is_two_over_the_largest_eigenvalue(bowl):
    hessian = bowl.hessian.copy()
    assert_close(step_limit(hessian), 2 / 20, "step_limit(H) with eigenvalues 0.5 to 20", "equation (4)")
    assert_close(hessian, bowl.hessian, "step_limit(H) changed H, which now")


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_step_limit_scales_inversely_with_the_hessian(bowl, scale):
    assert_close(step_limit(scale * bowl.hessian), 0.1 / scale, f"step_limit({scale:g} H)", "equation (4)")


def test_step_limit_overlooks_an_asymmetry_of_rounding(bowl):
    hessian = 1e8 * bowl.hessian
    hessian[0, 1] += 0.1
    assert_close(step_limit(hessian), 1e-9, "step_limit(1e8 H), one entry off by 1e-9 of it", "equation (4)", rtol=1e-6)


@pytest.mark.given
@pytest.mark.parametrize(
    "hessian",
    [
        np.ones(3),
        np.ones((2, 3)),
        np.ones((0, 0)),
        [[1.0, np.nan], [np.nan, 1.0]],
        [[1.0, 2.0], [0.0, 1.0]],
        np.diag([1.0, -1.0]),
        np.diag([1.0, 0.0]),
    ],
)
def test_step_limit_refuses_a_hessian_of_no_bowl(hessian):
    with pytest.raises(ValueError, match="hessian"):
        step_limit(np.asarray(hessian))
    with pytest.raises(ValueError, match="hessian"):
        contraction(np.asarray(hessian), 0.1)


# contraction


@pytest.mark.parametrize(
    ("step_size", "expected"),
    [(1 / 20, 1 - 1 / 40), (2 / 20.5, RATE), (0.01, 1 - 0.005), (0.1, 1.0), (0.15, 2.0), (2.64, 51.8)],
    ids=["1/L", "2/(mu+L)", "short", "the limit", "beyond", "beyond 1/mu"],
)
def test_contraction_is_the_factor_of_the_slowest_direction(bowl, step_size, expected):
    call = f"contraction(H, {step_size:.4g}) with eigenvalues 0.5 to 20"
    assert_close(contraction(bowl.hessian, step_size), expected, call, "equation (3)", rtol=1e-12)


def test_contraction_is_attained_by_the_slowest_direction_and_by_no_other(bowl, rng):
    errors = np.linalg.eigh(bowl.hessian)[1].T
    for step_size in (0.03, 0.0995):
        shrunk = np.linalg.norm(errors - step_size * errors @ bowl.hessian, axis=1)
        call = f"contraction(H, {step_size})"
        assert_close(contraction(bowl.hessian, step_size), shrunk.max(), call, "the worst of all eigenvectors in (2)")


# exact_step


def test_exact_step_of_a_case_by_hand():
    size = exact_step(np.diag([2.0, 4.0, 6.0]), np.array([1.0, 1.0, 2.0]))
    assert_close(size, 6 / 30, "exact_step(diag(2, 4, 6), [1, 1, 2])", "equation (6)")


def test_exact_step_makes_the_new_gradient_orthogonal_to_the_old(bowl, rng):
    for _ in range(5):
        old = rng.standard_normal(7)
        new = old - exact_step(bowl.hessian, old) * bowl.hessian @ old
        cosine = old @ new / np.linalg.norm(old) / np.linalg.norm(new)
        assert abs(cosine) < 1e-12, f"after exact_step the gradients have a cosine of {cosine:.2g}; (7) says 0"


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_exact_step_does_not_depend_on_the_length_of_the_gradient(bowl, rng, scale):
    gradient = rng.standard_normal(7)
    expected = gradient @ gradient / (gradient @ bowl.hessian @ gradient)
    assert_close(exact_step(bowl.hessian, scale * gradient), expected, f"exact_step(H, {scale:g} g)", "equation (6)")


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_exact_step_scales_inversely_with_the_hessian(scale):
    size = exact_step(scale * np.diag([2.0, 4.0]), np.array([3.0, 1.0]))
    assert_close(size, 10 / 22 / scale, f"exact_step({scale:g} diag(2, 4), [3, 1])", "equation (6)")


def test_exact_step_is_zero_where_the_gradient_is(bowl):
    assert exact_step(bowl.hessian, np.zeros(7)) == 0, "exact_step(H, 0) is not 0"


@pytest.mark.parametrize("gradient", [[-1.0, 0.0], [0.0, 3.0], [-4.0, -3.0]])
def test_exact_step_takes_gradients_of_any_signs_with_zeros_among_them(gradient):
    g = np.array(gradient)
    expected = g @ g / (2 * g[0] ** 2 + 5 * g[1] ** 2)
    assert_close(exact_step(np.diag([2.0, 5.0]), g), expected, f"exact_step(diag(2, 5), {gradient})", "equation (6)")


@pytest.mark.parametrize("hessian", [np.diag([1.0, -2.0]), np.zeros((2, 2)), np.diag([1.0, np.nan])])
def test_exact_step_refuses_a_ray_without_a_minimum(hessian):
    with pytest.raises(ValueError, match="hessian"):
        exact_step(hessian, np.ones(2))


# backtrack


def test_backtrack_of_a_case_by_hand():
    # f = x^2 / 2 + 2 y^2 from (4, 1), where f = 10 and g = (4, 4). Asked for: 10 - 0.25 * 32 a.
    # a = 1: f(0, -3) = 18 > 2. a = 1/2: f(2, -1) = 4 <= 6.
    search = backtrack(
        lambda x: x[0] ** 2 / 2 + 2 * x[1] ** 2, np.array([4.0, 1.0]), 10.0, np.array([4.0, 4.0]), decrease=0.25
    )
    assert_close(
        [search.step_size, search.value, search.nfev],
        [0.5, 4.0, 2],
        "backtrack(x²/2 + 2y², (4, 1), decrease=0.25) as (step_size, value, nfev)",
        "condition (9)",
    )


@pytest.mark.parametrize("decrease", [1e-4, 0.3, 0.9])
@pytest.mark.parametrize("shrink", [0.5, 0.8])
def test_backtrack_takes_the_first_trial_that_satisfies_the_condition(bowl, rng, decrease, shrink):
    for x in rng.standard_normal((5, 7)):
        value, gradient = bowl.fun(x), bowl.grad(x)

        def fails(a, x=x, value=value, gradient=gradient):
            return bowl.fun(x - a * gradient) - (value - decrease * a * gradient @ gradient)

        a = backtrack(bowl.fun, x, value, gradient, step_size=3.0, shrink=shrink, decrease=decrease).step_size
        call = f"backtrack(step_size=3, shrink={shrink}, decrease={decrease}) took {a:.4g}"
        assert fails(a) <= 0, f"{call}, where f is {fails(a):.3g} above the bound of (9)"
        assert fails(a / shrink) > 0, f"{call}; the longer trial {a / shrink:.4g} satisfies (9) already"
        power = np.log(a / 3) / np.log(shrink)
        assert abs(power - round(power)) < 1e-9, f"{call}, which is not 3 times a power of {shrink}"
        assert a >= 2 * (1 - decrease) * shrink / 20, f"{call}; by (5) it cannot be below 2 s (1 - c) / L"


def test_backtrack_accepts_its_first_trial_if_that_is_good(bowl):
    x = bowl.start
    search = backtrack(bowl.fun, x, bowl.fun(x), bowl.grad(x), step_size=0.05)
    assert_close(
        search.step_size, 0.05, "backtrack(step_size=1/L).step_size", "(5): a step of 1/L always satisfies (9)"
    )
    assert search.nfev == 1, f"backtrack accepted its first trial after nfev={search.nfev} evaluations; expected 1"


def test_backtrack_asks_for_no_more_than_the_condition_does():
    # On a straight slope every step gives the whole decrease promised: (9) holds with room to spare for c < 1.
    search = backtrack(lambda x: 3.0 * x[0], np.array([1.0]), 3.0, np.array([3.0]), step_size=2.0, decrease=0.99)
    assert_close([search.step_size, search.value], [2.0, -15.0], "backtrack(3x, x=1, step_size=2)", "condition (9)")


def test_backtrack_accepts_equality_in_the_condition():
    # f = x² from 1 with step 1/2: f = 0, asked for 1 - c · ½ · 4 = 0 for c = ½. All numbers are exact in binary.
    search = backtrack(lambda x: x[0] ** 2, np.array([1.0]), 1.0, np.array([2.0]), step_size=0.5, decrease=0.5)
    assert search.step_size == 0.5, (
        f"backtrack refused a trial that meets (9) with equality, and took {search.step_size}"
    )


def test_backtrack_reports_the_value_at_the_step_and_counts_its_evaluations(bowl):
    fun, x = Counted(bowl.fun), bowl.start
    search = backtrack(fun, x, bowl.fun(x), bowl.grad(x), step_size=10.0, shrink=0.3)
    call = "backtrack(step_size=10, shrink=0.3)"
    assert_close(search.value, bowl.fun(x - search.step_size * bowl.grad(x)), f"{call}.value", "f(x - a g)", rtol=1e-12)
    trials = 1 + round(np.log(search.step_size / 10) / np.log(0.3))
    assert_close(search.nfev, trials, f"{call}.nfev", f"the number of trials down to {search.step_size:.3g}")
    assert search.nfev >= len(fun.points), f"{call} says nfev={search.nfev}, but called fun {len(fun.points)} times"


@pytest.mark.parametrize("outside", [np.nan, np.inf, -np.inf])
def test_backtrack_refuses_trials_where_the_objective_is_not_finite(outside):
    def barrier(x):
        return x[0] - np.log(x[0]) if x[0] > 0 else outside

    search = backtrack(barrier, np.array([2.0]), 2 - np.log(2), np.array([0.5]), step_size=64.0)
    call = f"backtrack(x - log x, {outside} for x <= 0, step_size=64).step_size"
    assert_close(search.step_size, 2.0, call, "its docstring: the first trial with a finite value that satisfies (9)")


def test_backtrack_says_so_when_no_trial_is_good():
    search = backtrack(lambda x: -(x[0] ** 2), np.array([1.0]), -1.0, np.array([2.0]), max_trials=7)
    got, call = (
        (search.step_size, search.value, search.nfev),
        "backtrack with the gradient of the wrong sign, max_trials=7",
    )
    assert_close(
        got, (0.0, -1.0, 7), f"{call}, as (step_size, value, nfev)", "the contract: step 0, the old value, all trials"
    )


def test_backtrack_takes_no_step_for_a_decrease_that_is_lost_in_rounding():
    for flat in (1e10, -1e10):
        search = backtrack(lambda x, flat=flat: flat, np.array([1.0]), flat, np.array([1e-4]))
        call = f"backtrack where f is {flat:g} everywhere, and (9) asks for a decrease of 1e-12"
        assert search.step_size == 0, f"{call} took a step of {search.step_size}; expected 0: nothing is gained"


def test_backtrack_may_be_allowed_a_single_trial():
    search = backtrack(lambda x: x[0] ** 2, np.array([1.0]), 1.0, np.array([2.0]), step_size=0.5, max_trials=1)
    assert search.step_size == 0.5, f"backtrack(x², x=1, step_size=0.5, max_trials=1) returned {search}"


def test_backtrack_gives_up_after_sixty_trials_by_default():
    search = backtrack(lambda x: 1.0, np.array([1.0]), 0.0, np.array([1.0]))
    assert (search.step_size, search.nfev) == (0.0, 60), f"backtrack on a hopeless slope returned {search}"


def test_backtrack_uses_its_default_of_a_ten_thousandth():
    # f = k x² / 2 from 1 with step 1: (9) holds iff 1 - a k / 2 >= c, so k decides about a = 1.
    for slack, expected in ((0.9e-4, 0.5), (1.1e-4, 1.0)):
        k = 2 * (1 - slack)
        search = backtrack(lambda x, k=k: k * x[0] ** 2 / 2, np.array([1.0]), k / 2, np.array([k]))
        call = f"backtrack where the first trial achieves a share of {slack:g} of the promise"
        assert search.step_size == expected, (
            f"{call} took {search.step_size}; with decrease=1e-4 and shrink=0.5: {expected}"
        )


@pytest.mark.parametrize("length", [1e-150, 1e150])
def test_backtrack_works_on_slopes_of_any_scale(length):
    def fun(x):
        return length * np.sqrt(1 + x[0] ** 2)

    gradient = np.array([length * 3 / np.sqrt(10)])
    search = backtrack(fun, np.array([3.0]), fun([3.0]), gradient, step_size=64.0 / length, decrease=0.5)
    # With u = a length: sqrt(1 + (3 - 0.949 u)²) <= sqrt(10) - 0.45 u holds for u = 4 and not for u = 8.
    assert_close(
        search.step_size * length, 4.0, f"backtrack with a gradient of {length:g}, step times {length:g}", "(9)"
    )


def test_backtrack_leaves_its_arguments_alone(bowl):
    x, gradient = bowl.start.copy(), bowl.grad(bowl.start)
    before = gradient.copy()
    backtrack(bowl.fun, x, bowl.fun(x), gradient)
    assert_close(x, bowl.start, "backtrack changed x, which now")
    assert_close(gradient, before, "backtrack changed gradient, which now")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_size", 0.0),
        ("step_size", np.nan),
        ("step_size", np.inf),
        ("shrink", 0.0),
        ("shrink", 1.0),
        ("shrink", np.nan),
    ]
    + [("decrease", 0.0), ("decrease", 1.0), ("decrease", np.nan), ("max_trials", 0)],
)
def test_backtrack_refuses_nonsense(bowl, name, value):
    with pytest.raises(ValueError, match=name):
        backtrack(bowl.fun, bowl.start, 1.0, bowl.grad(bowl.start), **{name: value})


# stopping

NAMES = {CONVERGED: "CONVERGED", DIVERGED: "DIVERGED", OUT_OF_STEPS: "OUT_OF_STEPS", None: "None"}


@pytest.mark.parametrize(
    ("value", "gradient", "nit", "expected"),
    [
        (1.0, [0.5, -2.0], 3, None),
        (1.0, [0.5, -0.9], 3, CONVERGED),
        (1.0, [0.5, -1.0], 3, CONVERGED),
        (1.0, [0.9, 0.9, 0.9], 3, CONVERGED),
        (1.0, [0.5, 2.0], 9, None),
        (1.0, [0.5, 2.0], 10, OUT_OF_STEPS),
        (1.0, [0.5, 2.0], 11, OUT_OF_STEPS),
        (1.0, [0.0, 0.0], 10, CONVERGED),
        (1.0, [np.nan, 0.0], 3, DIVERGED),
        (np.nan, [2.0, 2.0], 3, DIVERGED),
        (np.inf, [2.0, 2.0], 3, DIVERGED),
        (-np.inf, [0.0, 0.0], 3, DIVERGED),
        (np.nan, [0.0, 0.0], 10, DIVERGED),
        (1.0, [0.0, np.inf], 3, DIVERGED),
        (1.0, [-np.inf, 5.0], 10, DIVERGED),
    ],
    ids=lambda value: NAMES.get(value) if isinstance(value, str) else str(value),
)
def test_stopping_names_the_reason(value, gradient, nit, expected):
    reason = stopping(value, np.array(gradient), nit, tol=1.0, max_iter=10)
    call = f"stopping(value={value}, gradient={gradient}, nit={nit}, tol=1, max_iter=10)"
    assert reason == expected, f"{call} returned {NAMES.get(reason, reason)}; expected {NAMES[expected]}"


def test_stopping_judges_huge_and_tiny_gradients_without_squaring_them():
    for length in (1e200, 1e-200):
        reason = stopping(1.0, np.array([length, -length]), 0, tol=0.5 * length, max_iter=10)
        assert reason is None, (
            f"a gradient of {length:g} against tol {length / 2:g} gave {NAMES[reason]}; expected None"
        )
        reason = stopping(1.0, np.array([length, -length]), 0, tol=2 * length, max_iter=10)
        assert reason == CONVERGED, f"a gradient of {length:g} against tol {2 * length:g} gave {NAMES[reason]}"


# minimize


@pytest.mark.parametrize("step_size", [0.02, 1 / 20, 2 / 20.5, 0.099])
def test_minimize_with_a_fixed_step_multiplies_the_error_as_equation_2_says(bowl, step_size):
    path = minimize(bowl.fun, bowl.grad, bowl.start, step_size=step_size, max_iter=60, tol=0.0, record_path=True).path
    values, axes = np.linalg.eigh(bowl.hessian)
    factors = (1 - step_size * values) ** np.arange(61)[:, None]
    expected = bowl.minimum + (factors * (axes.T @ (bowl.start - bowl.minimum))) @ axes.T
    assert_close(path, expected, f"minimize(step_size={step_size:.3g}).path", "equation (2), 60 times", atol=1e-11)


def test_minimize_converges_at_the_predicted_rate_below_the_limit(bowl):
    start = bowl.minimum + np.linalg.eigh(bowl.hessian)[1].sum(axis=1)  # as much of each eigenvector
    for step_size, rate in ((1 / 20, 1 - 1 / 40), (2 / 20.5, RATE)):
        path = minimize(bowl.fun, bowl.grad, start, step_size=step_size, tol=0.0, max_iter=200, record_path=True).path
        errors = np.linalg.norm(path - bowl.minimum, axis=1)
        assert (errors[1:] <= rate * errors[:-1] + 1e-14).all(), f"a step shrank the error by less than {rate:.4f}"
        measured = (errors[200] / errors[150]) ** 0.02
        # What is left of the next direction, (0.96 / 0.975)^150 = 10 % of the error and 1 % of its square, changes the
        # rate by less than 3e-4.
        assert abs(measured - rate) < 5e-4, f"the error shrinks by {measured:.5f} a step; (3) predicts {rate:.5f}"


def test_minimize_converges_just_below_the_limit_and_not_beyond_it(bowl):
    below = minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.1 * 0.95, tol=1e-3, max_iter=400)
    assert below.message == CONVERGED, f"a step of 0.95 times 2/L ended with '{below.message}'"
    beyond = minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.1 * 1.05, tol=1e-3, max_iter=100)
    assert beyond.message == OUT_OF_STEPS, f"a step of 1.05 times 2/L ended with '{beyond.message}'"
    assert beyond.fun > 100 * bowl.fun(bowl.start), (
        f"beyond the limit the objective should have grown, it is {beyond.fun}"
    )


def test_minimize_flags_a_walk_that_diverges(bowl):
    with np.errstate(over="ignore", invalid="ignore"):
        result = minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.3, max_iter=5000)
    got = f"minimize with three times the limit ended with success={result.success}, '{result.message}'"
    assert not result.success and result.message == DIVERGED, f"{got}; expected success=False and DIVERGED"
    assert not np.isfinite(result.fun), f"{got}, and fun={result.fun}"
    assert 200 < result.nit < 2000, f"{got} after {result.nit} steps; it grows fivefold a step, and overflows at 1e308"


def test_minimize_flags_a_start_where_the_objective_is_undefined():
    result = minimize(lambda x: np.nan, lambda x: 0 * x, [1.0, 2.0], record_path=True)
    got = (
        f"a start where f is NaN and its gradient 0 gave success={result.success}, nit={result.nit}, '{result.message}'"
    )
    assert (result.success, result.nit, result.message) == (False, 0, DIVERGED), (
        f"{got}; expected success=False, nit=0 and DIVERGED"
    )
    assert_close(result.path, [[1.0, 2.0]], f"{got}, path")


def test_minimize_says_when_the_steps_are_used_up(bowl):
    result = minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.01, max_iter=13)
    got = f"minimize(max_iter=13) returned success={result.success}, nit={result.nit}, message='{result.message}'"
    assert (result.success, result.nit, result.message) == (False, 13, OUT_OF_STEPS), (
        f"{got}; expected False, 13 and OUT_OF_STEPS"
    )


def test_minimize_stops_as_soon_as_no_gradient_component_exceeds_tol(bowl):
    result = minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.09, tol=1e-3, record_path=True)
    largest = [abs(bowl.grad(x)).max() for x in result.path[-2:]]
    got = f"the last two points have gradients of at most {largest[0]:.3g} and {largest[1]:.3g}"
    assert largest[1] <= 1e-3 < largest[0], f"{got}; with tol=0.001 only the last may be below it: (10)"


def test_minimize_that_starts_at_the_minimum_makes_no_step(bowl):
    for rule in ("fixed", "exact", "armijo"):
        result = minimize(bowl.fun, bowl.grad, bowl.minimum, rule=rule, hessian=bowl.hessian, record_path=True)
        assert result.success and result.nit == 0, f"rule={rule!r} at the minimum: {result.message}, nit={result.nit}"
        assert_close(result.path, bowl.minimum[None], f"minimize(rule={rule!r}, start=minimum).path")


def test_minimize_succeeds_when_it_converges_with_its_last_step():
    result = minimize(lambda x: x @ x / 2, lambda x: x, [4.0, 8.0], step_size=0.5, tol=1.0, max_iter=3)
    assert result.success and result.nit == 3, f"converged in 3 of 3 steps, but: {result.message}, nit={result.nit}"
    assert_close(result.x, [0.5, 1.0], "minimize(x·x/2, [4, 8], step_size=0.5, tol=1).x", "three halvings")


def test_minimize_with_exact_steps_turns_by_a_right_angle_each_time(bowl):
    result = minimize(
        bowl.fun, bowl.grad, bowl.start, rule="exact", hessian=bowl.hessian, max_iter=40, record_path=True
    )
    g = np.array([bowl.grad(x) for x in result.path])
    cosines = (g[1:] * g[:-1]).sum(axis=1) / np.linalg.norm(g[1:], axis=1) / np.linalg.norm(g[:-1], axis=1)
    # x - minimum cancels: an error of 1e-16 of x is some 1e-12 of a gradient of 1e-3.
    assert abs(cosines).max() < 1e-9, f"successive gradients have a cosine of {abs(cosines).max():.2g}; (7) says 0"


def test_minimize_with_exact_steps_keeps_the_bound_of_kantorovich(bowl):
    path = minimize(
        bowl.fun, bowl.grad, bowl.start, rule="exact", hessian=bowl.hessian, max_iter=30, record_path=True
    ).path
    values = np.array([bowl.fun(x) for x in path])
    worst = (values[1:] / values[:-1]).max()
    assert worst <= RATE**2 * (1 + 1e-9), f"an exact step left {worst:.4f} of f; (8) allows {RATE**2:.4f}"


def test_minimize_with_exact_steps_meets_that_bound_from_the_worst_start(bowl):
    axes = np.linalg.eigh(bowl.hessian)[1]
    start = bowl.minimum + axes[:, 0] / 0.5 + axes[:, -1] / 20
    path = minimize(bowl.fun, bowl.grad, start, rule="exact", hessian=bowl.hessian, max_iter=20, record_path=True).path
    values = np.array([bowl.fun(x) for x in path])
    assert_close(values[1:] / values[:-1], np.full(20, RATE**2), "f(x₁)/f(x₀) from the worst start", "(8)", rtol=1e-6)


@pytest.mark.parametrize("first", [1.0, 0.01])
def test_minimize_with_backtracking_satisfies_the_condition_at_every_step(first):
    valley = rosenbrock()
    result = minimize(
        valley.fun, valley.grad, valley.start, rule="armijo", step_size=first, max_iter=50, record_path=True
    )
    assert result.nit == 50, (
        f"minimize(rule='armijo', max_iter=50) on Rosenbrock made {result.nit} steps: {result.message}"
    )
    for x, new in zip(result.path[:-1], result.path[1:]):
        g = valley.grad(x)
        a = (x - new) @ g / (g @ g)
        assert_close(new, x - a * g, "a step of minimize(rule='armijo')", "(1), against the gradient", rtol=1e-6)
        assert valley.fun(new) <= valley.fun(x) - 1e-4 * a * g @ g * (1 - 1e-6), (
            f"a step of {a:.3g} from {x} violates (9)"
        )
        if a < first * (1 - 1e-6):
            longer = valley.fun(x - 2 * a * g)
            assert longer > valley.fun(x) - 2e-4 * a * g @ g * (1 + 1e-6), (
                f"from {x} twice the step {a:.3g} satisfied (9)"
            )


def test_minimize_with_backtracking_finds_the_minimum_of_a_logistic_loss(rng):
    features = rng.standard_normal((60, 5)) @ np.diag([0.5, 1.0, 1.0, 2.0, 3.0])
    problem = logistic(features, np.sign(features @ np.arange(5) + rng.standard_normal(60)), ridge=0.1)
    result = minimize(problem.fun, problem.grad, problem.start, rule="armijo", step_size=4.0)
    assert result.success, f"minimize(rule='armijo') ended with '{result.message}' after {result.nit} steps"
    why = (
        "as the curvature is at least the ridge, 0.1: the error is at most the norm of the gradient, 2.3e-6, over that"
    )
    call = "minimize(rule='armijo').x"
    assert_close(result.x, problem.minimum, call, "Newton's method", rtol=0.0, atol=3e-5, tolerance=why)


@pytest.mark.parametrize("first", [0.3, 1.0])
def test_minimize_with_backtracking_tries_step_size_first(first):
    # For f = x^2 / 2 + 2 y^2 from (4, 0) the whole gradient, 4, is a good step for a = 1, and 0.3 of it for a = 0.3.
    result = minimize(
        lambda x: x[0] ** 2 / 2 + 2 * x[1] ** 2,
        lambda x: np.array([x[0], 4 * x[1]]),
        [4.0, 0.0],
        rule="armijo",
        step_size=first,
        max_iter=1,
        record_path=True,
    )
    call = f"the first step of minimize(rule='armijo', step_size={first})"
    assert_close(result.path[1], [4 - 4 * first, 0.0], call, "(1), with the first trial of the line search", atol=1e-12)


def test_minimize_with_backtracking_says_when_no_step_is_good():
    result = minimize(lambda x: x @ x, lambda x: -2 * x, [1.0, 2.0], rule="armijo", record_path=True)
    got = f"with a gradient of the wrong sign: success={result.success}, nit={result.nit}, message='{result.message}'"
    assert (result.success, result.nit, result.message) == (False, 0, STALLED), f"{got}; expected STALLED and no step"
    assert_close(result.path, [[1.0, 2.0]], f"{got}, path")


@pytest.mark.parametrize("rule", ["fixed", "exact", "armijo"])
def test_minimize_reports_what_it_did(bowl, rule):
    fun = Counted(bowl.fun)
    result = minimize(
        fun, bowl.grad, bowl.start, rule=rule, step_size=0.09, hessian=bowl.hessian, tol=1e-4, record_path=True
    )
    call = f"minimize(rule={rule!r})"
    assert result.success is True and result.message == CONVERGED, f"{call} ended with {result.message}"
    assert_close(result.fun, bowl.fun(result.x), f"{call}.fun", "the objective at x", rtol=1e-12)
    assert result.nfev == len(fun.points), f"{call}.nfev is {result.nfev}, but fun was called {len(fun.points)} times"
    assert result.path.shape == (result.nit + 1, 7), f"{call}: path of shape {result.path.shape} for nit={result.nit}"
    assert_close(result.path[0], bowl.start, f"{call}.path[0]", "the start")
    assert_close(result.path[-1], result.x, f"{call}.path[-1]", "x")
    assert len(np.unique(result.path, axis=0)) == len(result.path), f"{call}.path repeats points"


def test_minimize_counts_every_trial_of_a_line_search(bowl):
    fun = Counted(bowl.fun)
    result = minimize(fun, bowl.grad, bowl.start, rule="armijo", step_size=1.0, max_iter=10)
    assert result.nfev == len(fun.points), f"nfev is {result.nfev}, but fun was called {len(fun.points)} times"
    assert result.nfev > 40, (
        f"nfev is {result.nfev}: from step 1 each of 10 searches needs some 4 trials to come below 0.1"
    )


def test_minimize_keeps_no_path_unless_asked(bowl):
    assert minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.05, max_iter=5).path is None, (
        "path was kept without record_path=True"
    )


@pytest.mark.parametrize("rule", ["fixed", "exact", "armijo"])
def test_minimize_leaves_the_start_alone_and_keeps_float32(bowl, rule):
    start = bowl.start.astype(np.float32)
    before, hessian = start.copy(), bowl.hessian.astype(np.float32)
    result = minimize(bowl.fun, bowl.grad, start, rule=rule, step_size=0.05, hessian=hessian, max_iter=5, tol=0.0)
    assert_close(start, before, f"minimize(rule={rule!r}) changed start, which now")
    assert not np.shares_memory(result.x, start), f"minimize(rule={rule!r}).x is the caller's own start"
    assert result.x.dtype == np.float32, f"minimize(rule={rule!r}) of a float32 start returned {result.x.dtype}"


def test_minimize_uses_the_defaults_that_it_states():
    result = minimize(lambda x: x @ x / 2, lambda x: 1e-4 * x, [0.02], record_path=True)
    assert result.nit == 1000, f"a gradient above 1e-6 throughout, and nit={result.nit}; expected max_iter=1000"
    assert_close(result.path[1], [0.02 * (1 - 1e-4)], "the first step", "(1) with step_size 1")
    assert minimize(lambda x: x @ x, lambda x: 2 * x, [4.9e-7]).nit == 0, "a gradient of 9.8e-7 is not below tol=1e-6"


@pytest.mark.parametrize(
    ("name", "value"),
    [("step_size", -1.0), ("tol", np.nan), ("max_iter", 0), ("start", [np.nan, 1.0]), ("start", [[1.0]])],
)
def test_minimize_refuses_what_check_arguments_refuses(name, value):
    arguments = {"start": [1.0, 2.0]} | {name: value}
    with pytest.raises(ValueError, match=name):
        minimize(lambda x: x @ x, lambda x: 2 * x, **arguments)


def test_minimize_refuses_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: x @ x, lambda x: 2 * x[:, None], [1.0, 2.0])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("rule", {"rule": "wolfe"}), ("hessian", {"rule": "exact"}), ("hessian", {"rule": "exact", "hessian": np.eye(3)})],
)
def test_minimize_refuses_a_rule_it_cannot_follow(name, arguments):
    with pytest.raises(ValueError, match=name):
        minimize(lambda x: x @ x, lambda x: 2 * x, [1.0, 2.0], **arguments)
