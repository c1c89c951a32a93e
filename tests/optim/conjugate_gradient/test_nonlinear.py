"""Shared tests of optim/conjugate_gradient/nonlinear: run on the reference, and on the learner's file.

Everything here is deterministic. Formulas are compared to 1e-12; walks of many steps amplify rounding, so they are judged by
where they end, or over a few steps with the tolerance that is stated there.
"""

import numpy as np
import pytest

from mlpath.optim._shared import Problem, beale, himmelblau, logistic, quadratic, rosenbrock
from mlpath.optim.conjugate_gradient.linear import conjugate_gradient
from mlpath.optim.conjugate_gradient.nonlinear import (
    RULES,
    STALLED,
    dai_yuan,
    fletcher_reeves,
    hestenes_stiefel,
    lost_conjugacy,
    minimize,
    next_direction,
    polak_ribiere,
    trial_step,
)
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.line_search import Ray, strong_wolfe_search, wolfe_search
from mlpath.testing import assert_close

NEW, OLD, DIRECTION = np.array([1.3, -0.7, 0.4]), np.array([2.1, 1.2, -0.9]), np.array([-1.7, -2.3, 0.8])
CASE = f"for the gradients {NEW} after {OLD}, direction {DIRECTION}"
# by hand: g'g = 2.34, old'old = 6.66, g'old = 1.53, d'g = -0.28, d'old = -7.05
BETAS = {
    "fletcher_reeves": (fletcher_reeves, 2.34 / 6.66, "equation (2)"),
    "polak_ribiere": (polak_ribiere, (2.34 - 1.53) / 6.66, "equation (3)"),
    "hestenes_stiefel": (hestenes_stiefel, (2.34 - 1.53) / (-0.28 + 7.05), "equation (3)"),
    "dai_yuan": (dai_yuan, 2.34 / (-0.28 + 7.05), "equation (3)"),
}
NEVER = 10**9


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, x):
        self.calls += 1
        return self.function(x)


def bowl(dim=8, condition=30.0):
    """A quadratic, and the system that linear conjugate gradients solve for its minimum."""
    problem = quadratic(np.geomspace(1, condition, dim), rng=np.random.default_rng(11))
    return problem, lambda v: problem.hvp(problem.start, v), problem.hessian @ problem.minimum


def tumours():
    """A small logistic regression."""
    rng = np.random.default_rng(5)
    features = rng.standard_normal((60, 5)) @ np.diag([0.3, 0.6, 1.0, 2.0, 4.0])
    signs = np.sign(features @ [3.0, -1.0, 1.0, 0.2, 0.5] + 0.5 * rng.standard_normal(60))
    return logistic(features, signs, ridge=0.02)


def check_rule(name):
    rule, expected, equation = BETAS[name]
    before = NEW.copy(), OLD.copy(), DIRECTION.copy()
    assert_close(rule(NEW, OLD, DIRECTION), expected, f"{name} {CASE}", equation, rtol=1e-12)
    for array, then, what in zip((NEW, OLD, DIRECTION), before, ("gradient", "previous", "direction")):
        assert_close(array, then, f"{name} changed {what}, which now")
    for scale in (1e-200, 1e200):
        got = rule(scale * NEW, scale * OLD, scale * DIRECTION)
        assert_close(got, expected, f"{name} with all vectors times {scale:g}", "a ratio of squares", rtol=1e-12)


def refuses_zero(rule):
    with pytest.raises(ValueError, match="previous"):
        rule(NEW, np.zeros(3), DIRECTION)


def exact_walk(rule, n_steps):
    """Points of a walk on the bowl with exact steps and directions by the rule."""
    problem, _, _ = bowl()
    points, gradient = [problem.start], problem.grad(problem.start)
    direction = -gradient
    for _ in range(n_steps):
        step = -(gradient @ direction) / (direction @ problem.hvp(problem.start, direction))
        points.append(points[-1] + step * direction)
        gradient, previous = problem.grad(points[-1]), gradient
        direction = -gradient + rule(gradient, previous, direction) * direction
    return np.array(points)


def is_linear_on_a_quadratic(name):
    problem, matvec, rhs = bowl()
    linear = conjugate_gradient(matvec, rhs, start=problem.start, record_path=True).path[:7]
    walk = exact_walk(BETAS[name][0], 6)
    # Orthogonality is lost to rounding by a factor of some ten a step.
    assert_close(walk, linear, f"exact steps on a quadratic by {name}", "linear CG's points", rtol=1e-6, atol=1e-8)


# fletcher_reeves


def test_fletcher_reeves_of_a_case_by_hand():
    check_rule("fletcher_reeves")


def test_fletcher_reeves_on_a_quadratic_is_linear():
    is_linear_on_a_quadratic("fletcher_reeves")


@pytest.mark.given
def test_fletcher_reeves_and_the_others_refuse_a_zero_gradient():
    for name in BETAS:
        refuses_zero(BETAS[name][0])


# polak_ribiere


def test_polak_ribiere_of_a_case_by_hand():
    check_rule("polak_ribiere")


def test_polak_ribiere_may_be_negative_and_forgets_where_gradients_hardly_change():
    got = polak_ribiere(0.6 * OLD, OLD, DIRECTION)
    assert_close(got, 0.36 - 0.6, "polak_ribiere of a gradient that shrank to 0.6", "equation (3)", rtol=1e-12)
    got = polak_ribiere(OLD, OLD, DIRECTION)
    assert_close(got, 0.0, "polak_ribiere of the same gradient twice", "equation (3)", atol=1e-15)
    is_linear_on_a_quadratic("polak_ribiere")


# hestenes_stiefel


def test_hestenes_stiefel_of_a_case_by_hand():
    check_rule("hestenes_stiefel")


def test_hestenes_stiefel_makes_neighbours_conjugate_whatever_the_step():
    new = -NEW + hestenes_stiefel(NEW, OLD, DIRECTION) * DIRECTION
    assert_close(new @ (NEW - OLD), 0.0, f"d'y of the next direction, {CASE}", "conjugacy, below (3)", atol=1e-12)
    is_linear_on_a_quadratic("hestenes_stiefel")


@pytest.mark.parametrize("rule", [hestenes_stiefel, dai_yuan])
def test_hestenes_stiefel_and_dai_yuan_are_nan_where_the_slope_did_not_change(rule):
    with np.errstate(all="raise"):
        got = rule(np.array([3.0, 1.0]), np.array([3.0, 2.0]), np.array([-3.0, 0.0]))
    assert np.isnan(got), f"{rule.__name__} with d'y = 0 returned {got}; NaN is expected, without a warning"


# dai_yuan


def test_dai_yuan_of_a_case_by_hand():
    check_rule("dai_yuan")


def test_dai_yuan_goes_downhill_after_any_step_of_wolfe():
    is_linear_on_a_quadratic("dai_yuan")
    problem = rosenbrock(4)
    x, gradient = problem.start, problem.grad(problem.start)
    direction = -gradient
    for k in range(30):
        search = wolfe_search(Ray(problem.fun, problem.grad, x, direction), step_size=1e-3, curvature=0.9)
        x, previous, gradient = x + search.step_size * direction, gradient, search.gradient
        direction = -gradient + dai_yuan(gradient, previous, direction) * direction
        assert gradient @ direction < 0, f"by dai_yuan, step {k + 1}: the slope is {gradient @ direction}"


# lost_conjugacy


@pytest.mark.parametrize(("threshold", "expected"), [(0.3, True), (0.65, True), (0.66, False), (2.0, False)])
def test_lost_conjugacy_of_a_case_by_hand(threshold, expected):
    for sign in (1, -1):  # g'old is 1.53, g'g 2.34: the ratio is 0.6538
        got = lost_conjugacy(NEW, sign * OLD, threshold=threshold)
        call = f"lost_conjugacy({NEW}, {sign * OLD}, threshold={threshold})"
        assert bool(got) == expected, f"{call} says {got}; (8) compares 1.53 with {threshold} times 2.34"
        got = lost_conjugacy(1e-200 * NEW, sign * 1e-200 * OLD, threshold=threshold)
        assert bool(got) == expected, f"{call} with both times 1e-200 says {got}"


def test_lost_conjugacy_has_edges():
    same = np.array([3.0, 4.0])
    assert lost_conjugacy(same, same, threshold=1.0), (
        "lost_conjugacy of equal gradients with 1: (8) holds with equality"
    )
    assert not lost_conjugacy(same, same, threshold=np.inf), "lost_conjugacy with an infinite threshold is always False"
    assert not lost_conjugacy(same, np.array([-4.0, 3.0])), "orthogonal gradients have not lost conjugacy"
    close = np.array([4.0, -2.0])  # with (3, 4): 4 of 20, which is 0.2
    assert lost_conjugacy(close, same), "lost_conjugacy((4, -2), (3, 4)): 4 is 0.2 times 20, the default threshold"
    near = np.array([4.0, -2.1])
    assert not lost_conjugacy(near, same), "lost_conjugacy((4, -2.1), (3, 4)): 3.6 is less than 0.2 times 20.41"


# next_direction


@pytest.mark.parametrize("rule", RULES)
def test_next_direction_of_a_case_by_hand(rule):
    beta = BETAS[rule.removesuffix("_plus")][1]
    got, age = next_direction(NEW, OLD, DIRECTION, 3, rule=rule, restart_every=NEVER)
    call = f"next_direction with rule={rule!r} {CASE}, age 3"
    assert_close(got, -NEW + beta * DIRECTION, call, "equation (1)", rtol=1e-12)
    assert age == 4, f"{call} returned the age {age}"
    low, _ = next_direction(*(v.astype(np.float32) for v in (NEW, OLD, DIRECTION)), 3, rule=rule, restart_every=NEVER)
    assert low.dtype == np.float32, f"{call} of float32 vectors returned {low.dtype}"


def test_next_direction_goes_by_polak_ribiere_plus_if_nothing_is_said():
    got, _ = next_direction(NEW, OLD, DIRECTION, 0, restart_every=NEVER)
    assert_close(got, -NEW + 0.81 / 6.66 * DIRECTION, f"next_direction {CASE}", "(1) with (7)", rtol=1e-12)
    new = 0.6 * OLD + np.array([0.0, 0.3, 0.4])  # the same but for something orthogonal
    plus, age = next_direction(new, OLD, DIRECTION, 5, restart_every=NEVER)
    assert_close(plus, -new, "next_direction by PR+ where beta of PR is negative", "(7): max(beta, 0)")
    assert age == 6, f"a beta of zero is no restart of the count: the age after 5 is 6, not {age}"
    plain, _ = next_direction(new, OLD, DIRECTION, 5, rule="polak_ribiere", restart_every=NEVER)
    beta = new @ (new - OLD) / 6.66
    assert_close(plain, -new + beta * DIRECTION, "next_direction by PR, negative beta", "equation (3)", rtol=1e-12)


@pytest.mark.parametrize(("age", "every", "restarts"), [(0, 1, True), (0, 2, False), (2, 3, True), (2, 4, False)])
def test_next_direction_restarts_in_time(age, every, restarts):
    got, new_age = next_direction(NEW, OLD, DIRECTION, age, restart_every=every)
    call = f"next_direction at age {age} with restart_every={every}"
    assert new_age == (0 if restarts else age + 1), f"{call} returned the age {new_age}"
    expected = -NEW if restarts else -NEW + 0.81 / 6.66 * DIRECTION
    assert_close(got, expected, call, "a restart" if restarts else "(1)", rtol=1e-12)


@pytest.mark.parametrize(("threshold", "restarts"), [(0.6, True), (0.7, False)])
def test_next_direction_restarts_by_powells_test(threshold, restarts):
    got, age = next_direction(NEW, OLD, DIRECTION, 4, restart_every=NEVER, threshold=threshold)
    call = f"next_direction with threshold={threshold} {CASE}"
    assert age == (0 if restarts else 5), f"{call} returned the age {age}; (8) compares 0.654 with it"
    assert_close(got, -NEW if restarts else -NEW + 0.81 / 6.66 * DIRECTION, call, "(8)", rtol=1e-12)


@pytest.mark.parametrize("case", ["uphill", "level", "not finite", "infinitely steep"])
def test_next_direction_restarts_where_it_would_not_go_downhill(case):
    if case == "uphill":  # -g'g + beta g'd = -2 + 0.8 * 5 > 0
        gradient, previous, direction = np.array([1.0, 1.0]), np.array([1.5, 0.5]), np.array([2.0, 3.0])
    elif case == "level":  # -g'g + 1 g'd = 0
        gradient, previous, direction = np.array([3.0, 4.0]), np.array([5.0, 0.0]), np.array([3.0, 4.0])
    elif case == "infinitely steep":
        gradient, previous, direction = np.array([1e200, 1e200]), np.array([1e-200, 0.0]), np.array([-1.0, -2.0])
    else:  # g - previous is orthogonal to the direction: DY divides by zero
        gradient, previous, direction = np.array([3.0, 1.0]), np.array([3.0, 2.0]), np.array([-3.0, 0.0])
    rule = "dai_yuan" if case == "not finite" else "fletcher_reeves"
    with np.errstate(all="ignore"):
        got, age = next_direction(gradient, previous, direction, 2, rule=rule, restart_every=NEVER)
    call = f"next_direction, {case}: gradient {gradient}, previous {previous}, direction {direction}"
    assert_close(got, -gradient, call, "a restart, against the gradient")
    assert age == 0, f"{call} returned the age {age}, 0 after a restart"


@pytest.mark.parametrize("curvature", [0.1, 0.4])
def test_next_direction_of_fletcher_reeves_stays_within_al_baalis_bounds(curvature):
    problem = rosenbrock(5)
    x, gradient, age = problem.start, problem.grad(problem.start), 0
    direction = -gradient
    for k in range(25):
        ray = Ray(problem.fun, problem.grad, x, direction)
        search = strong_wolfe_search(ray, step_size=1 / np.linalg.norm(direction), curvature=curvature)
        x, previous, gradient = x + search.step_size * direction, gradient, search.gradient
        direction, age = next_direction(gradient, previous, direction, age, rule="fletcher_reeves", restart_every=NEVER)
        t = gradient @ direction / (gradient @ gradient)
        low, high = -1 / (1 - curvature), -(1 - 2 * curvature) / (1 - curvature)
        assert low - 1e-9 <= t <= high + 1e-9, f"c2 = {curvature}, step {k + 1}: t = {t}, not in [{low}, {high}] of (6)"
        assert age == k + 1, f"Fletcher and Reeves with c2 = {curvature} restarted at step {k + 1}; (6) rules that out"


def test_next_direction_jams_by_fletcher_reeves_and_recovers_by_polak_ribiere():
    # a direction nearly orthogonal to the gradient, and after a tiny step nearly the same gradient
    previous, direction = np.array([1.0, 0.0]), np.array([-1.0, 80.0])
    gradient = np.array([0.99, -0.01])
    cosines = {}
    for rule in ("fletcher_reeves", "polak_ribiere_plus"):
        new, _ = next_direction(gradient, previous, direction, 1, rule=rule, restart_every=NEVER)
        cosines[rule] = float(-gradient @ new / np.linalg.norm(gradient) / np.linalg.norm(new))
    assert cosines["fletcher_reeves"] < 0.05, f"FR should be stuck; its cosine with -g is {cosines['fletcher_reeves']}"
    assert cosines["polak_ribiere_plus"] > 0.9, f"PR+ should be free; its cosine is {cosines['polak_ribiere_plus']}"


@pytest.mark.given
@pytest.mark.parametrize("call", [next_direction, minimize])
def test_next_direction_and_minimize_refuse_an_unknown_rule(call):
    arguments = (lambda x: x @ x, lambda x: 2 * x, [1.0]) if call is minimize else (NEW, OLD, DIRECTION, 0)
    with pytest.raises(ValueError, match="rule"):
        call(*arguments, rule="newton", restart_every=3)


# trial_step


def test_trial_step_of_cases_by_hand():
    got = trial_step(-7.3, last_step=0.42, last_slope=-3.9)
    assert_close(got, 0.42 * 3.9 / 7.3, "trial_step(-7.3, last_step=0.42, last_slope=-3.9)", "(9)", rtol=1e-12)
    assert_close(trial_step(-7.3), 7.3**-0.5, "trial_step(-7.3)", "a step of length 1 along -g", rtol=1e-12)
    g = np.array([30.0, 40.0])
    length = np.linalg.norm(trial_step(float(-g @ g)) * g)
    assert_close(length, 1.0, "the length of the first step along -(30, 40)", "1", rtol=1e-12)


# minimize

PROBLEMS = {"rosenbrock": rosenbrock(2), "beale": beale(), "himmelblau": himmelblau()}


@pytest.mark.parametrize(
    ("name", "rule"),
    [(name, rule) for name in ("beale", "logistic") for rule in RULES]
    + [(name, rule) for name in ("rosenbrock", "himmelblau") for rule in ("polak_ribiere_plus", "fletcher_reeves")],
)
def test_minimize_finds_the_minimum(name, rule):
    problem = tumours() if name == "logistic" else PROBLEMS[name]
    result = minimize(problem.fun, problem.grad, problem.start, rule=rule, tol=1e-7, max_iter=150)
    call = f"minimize({name}, rule={rule!r})"
    assert result.success and result.message == CONVERGED, f"{call}: {result.message!r} after {result.nit} steps"
    # The Hessians' least eigenvalues are above 0.02: a gradient of 1e-7 leaves an error of at most 5e-6 in each component.
    assert_close(result.x, problem.minimum, f"{call}.x", "the minimum", atol=2e-5)
    assert_close(result.fun, problem.fun(result.x), f"{call}.fun", "the objective at x")
    assert abs(problem.grad(result.x)).max() <= 1e-7, f"{call} ended at the gradient {problem.grad(result.x)}"


def test_minimize_agrees_with_scipy_on_the_minimum():
    from scipy.optimize import minimize as scipy_minimize

    problem = tumours()
    theirs = scipy_minimize(problem.fun, problem.start, jac=problem.grad, method="CG", options={"gtol": 1e-7})
    ours = minimize(problem.fun, problem.grad, problem.start, tol=1e-7, max_iter=150)
    assert_close(ours.x, theirs.x, "minimize(logistic).x", "SciPy's CG, to the same gradient", atol=2e-5)


@pytest.mark.parametrize("rule", RULES)
def test_minimize_with_a_sharp_search_walks_as_linear_cg_on_a_quadratic(rule):
    problem, matvec, rhs = bowl()
    linear = conjugate_gradient(matvec, rhs, start=problem.start, record_path=True)
    ours = minimize(problem.fun, problem.grad, problem.start, rule=rule, curvature=1e-7, max_iter=30, record_path=True)
    call = f"minimize(quadratic, rule={rule!r}, curvature=1e-7)"
    # Each search leaves a slope of 1e-7 of what it was, and errors grow by some ten a step.
    assert_close(ours.path[:6], linear.path[:6], f"{call}: path", "linear CG's", rtol=1e-3, atol=1e-4)
    assert ours.success and ours.nit <= 10, f"{call} took {ours.nit} steps in 8 dimensions: {ours.message!r}"


def test_minimize_by_fletcher_reeves_jams_without_restarts_and_polak_ribiere_plus_does_not():
    problem = himmelblau()
    stuck = minimize(
        problem.fun, problem.grad, problem.start, rule="fletcher_reeves", restart_every=NEVER, max_iter=100
    )
    free = minimize(problem.fun, problem.grad, problem.start, restart_every=NEVER, max_iter=100)
    restarted = minimize(problem.fun, problem.grad, problem.start, rule="fletcher_reeves", max_iter=100)
    steps = f"FR {stuck.nit} steps, PR+ {free.nit}, both without restarts; FR with restarts {restarted.nit}"
    assert stuck.nit > 3 * free.nit, f"Fletcher and Reeves should jam: {steps}"
    assert free.success and restarted.success, f"the others should not: {steps}"
    assert stuck.nit > 3 * restarted.nit, f"restarts should help: {steps}"


def test_minimize_makes_the_steps_of_its_parts():
    problem = rosenbrock(3)
    path = minimize(problem.fun, problem.grad, problem.start, max_iter=7, record_path=True).path
    x, gradient, age, last = problem.start, problem.grad(problem.start), 0, (None, None)
    direction = -gradient
    for k in range(7):
        slope = float(gradient @ direction)
        ray = Ray(problem.fun, problem.grad, x, direction)
        first = 1 / (-slope) ** 0.5 if last[0] is None else last[0] * last[1] / slope
        search = strong_wolfe_search(ray, step_size=first, curvature=0.1)
        x, previous, gradient, last = (
            x + search.step_size * direction,
            gradient,
            search.gradient,
            (search.step_size, slope),
        )
        if age == 2:  # restarted every three steps
            direction, age = -gradient, 0
        else:
            beta = max(gradient @ (gradient - previous) / (previous @ previous), 0)
            direction, age = -gradient + beta * direction, age + 1
        call = f"minimize(rosenbrock(3)): point {k + 1}"
        assert_close(path[k + 1], x, call, "strong Wolfe from (9), c2 = 0.1, PR+, restarts every 3", rtol=1e-7)


def test_minimize_uses_powells_test_and_the_curvature_that_it_is_given():
    problem = rosenbrock(3)
    plain, powell, sloppy = (
        minimize(problem.fun, problem.grad, problem.start, max_iter=6, record_path=True, **options).path
        for options in ({}, {"threshold": 0.1}, {"curvature": 0.9})
    )
    assert abs(plain - powell).max() > 1e-3, "minimize with threshold=0.1 walks as without: Powell's test is not made"
    assert abs(plain - sloppy).max() > 1e-3, "minimize with curvature=0.9 walks as with 0.1"
    gradients = [problem.grad(x) for x in powell]
    for k in (1, 2, 3, 4):
        if lost_conjugacy(gradients[k], gradients[k - 1], threshold=0.1):
            move = powell[k + 1] - powell[k]
            cosine = -move @ gradients[k] / np.linalg.norm(move) / np.linalg.norm(gradients[k])
            assert cosine > 1 - 1e-9, f"(8) holds at point {k}, and the next step's cosine with -g is {cosine}"


def test_minimize_counts_and_records():
    problem = rosenbrock(2)
    fun, start = Counted(problem.fun), problem.start.copy()
    result = minimize(fun, problem.grad, start, max_iter=100, record_path=True)
    assert result.nfev == fun.calls, f"minimize counted {result.nfev} evaluations of {fun.calls}"
    assert result.path.shape == (result.nit + 1, 2), f"{result.nit} steps, a path of shape {result.path.shape}"
    assert_close(result.path[0], start, "the first point of the path", "the start")
    assert_close(result.path[-1], result.x, "the last point of the path", "x")
    assert_close(start, problem.start, "minimize changed start, which now")
    assert minimize(fun, problem.grad, start, max_iter=2).path is None, "minimize returned a path that nobody asked for"


def test_minimize_says_why_it_stopped():
    problem = rosenbrock(2)
    result = minimize(problem.fun, problem.grad, problem.start, max_iter=3)
    assert (result.nit, result.success, result.message) == (3, False, OUT_OF_STEPS), f"max_iter=3: {result}"
    result = minimize(lambda x: x @ x / 2, lambda x: x, [1.0, 0.0], max_iter=1)  # the first trial is the minimum
    assert (result.nit, result.success) == (1, True), f"it converges at the one step that it has: {result}"
    result = minimize(lambda x: x @ x / 2, lambda x: x, [0.0, 0.0])
    assert (result.nit, result.nfev, result.success) == (0, 1, True), f"from the minimum: {result}"
    result = minimize(lambda x: np.nan, lambda x: x, [1.0, 0.0])
    assert (result.nit, result.success, result.message) == (0, False, DIVERGED), f"NaN at the start: {result}"
    result = minimize(lambda x: x @ x, lambda x: -2 * x, [1.0, 2.0], max_iter=9)  # a gradient with the wrong sign
    assert (result.nit, result.success, result.message) == (0, False, STALLED), f"nothing is lower that way: {result}"
    assert_close(result.x, [1.0, 2.0], "minimize that stalled at the start: x", "the start")
    result = minimize(lambda x: -x[0], lambda x: np.array([-1.0, 0.0]), [1.0, 2.0], max_iter=5)
    assert not result.success, f"unbounded below, and minimize says {result.message!r}"


def test_minimize_turns_to_the_gradient_where_its_direction_finds_nothing_lower():
    problem, _, _ = bowl()
    sloppy = {
        "rule": "fletcher_reeves",
        "curvature": 0.9,
        "record_path": True,
    }  # so that slopes are left along the directions
    free = minimize(problem.fun, problem.grad, problem.start, max_iter=3, **sloppy).path
    along = (free[2] - free[1]) / np.linalg.norm(free[2] - free[1])

    def fun(x):  # the second step's line is closed
        off = x - free[1]
        reach = along @ off
        return np.inf if reach > 1e-9 and np.linalg.norm(off - reach * along) < 1e-9 else problem.fun(x)

    seen = []
    result = minimize(
        lambda x: seen.append(x) or fun(x), problem.grad, problem.start, restart_every=2, max_iter=200, **sloppy
    )
    move, gradient = result.path[2] - result.path[1], problem.grad(result.path[1])
    cosine = -move @ gradient / np.linalg.norm(move) / np.linalg.norm(gradient)
    assert cosine > 1 - 1e-9, f"where the direction is closed, the step should go along -g; the cosine is {cosine}"
    following, after = result.path[3] - result.path[2], problem.grad(result.path[2])
    expected = -after - after @ after / (gradient @ gradient) * gradient
    call = "the step after that"
    unit = following / np.linalg.norm(following)
    assert_close(unit, expected / np.linalg.norm(expected), call, "(1) with -g for the last direction", atol=1e-6)
    length = np.linalg.norm(move) / np.linalg.norm(gradient) * (gradient @ gradient) / -(after @ expected)
    later = next(k for k, x in enumerate(seen) if np.array_equal(x, result.path[2])) + 1
    call = "the first trial after the step along -g"
    assert_close(seen[later], result.path[2] + length * expected, call, "(9), of the step along -g", rtol=1e-6)
    assert result.success and result.nfev == len(seen), f"{result}; {len(seen)} evaluations were made"


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_minimize_manages_values_of_any_size(scale):
    problem, _, _ = bowl()
    arguments = {"tol": 1e-6 * scale, "max_iter": 60}
    result = minimize(lambda x: scale * problem.fun(x), lambda x: scale * problem.grad(x), problem.start, **arguments)
    assert result.success, f"minimize of {scale:g} times a quadratic: {result.message!r}"
    assert_close(result.x, problem.minimum, f"minimize of {scale:g} times a quadratic: x", "the minimum", atol=1e-5)


def test_minimize_keeps_float32_and_lets_the_users_errors_through():
    problem = himmelblau()
    result = minimize(
        problem.fun, problem.grad, problem.start.astype(np.float32), tol=1e-2, max_iter=60, record_path=True
    )
    assert result.x.dtype == result.path.dtype == np.float32, f"from a float32 start came {result.x.dtype}"
    assert result.success, f"in float32 with tol=0.01: {result.message!r}"

    def grad(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        minimize(lambda x: x @ x, grad, [1.0])


def test_minimize_needs_few_evaluations_a_step():
    problem = Problem(*((p := quadratic(np.geomspace(1, 100, 40), rng=np.random.default_rng(2))).fun, p.grad, p.hvp),
                      p.start, p.minimum)  # fmt: skip
    result = minimize(problem.fun, problem.grad, problem.start, max_iter=100)
    assert result.success and result.nit <= 90, (
        f"{result.nit} steps on a quadratic with kappa = 100: {result.message!r}"
    )
    assert result.nfev <= 3 * result.nit, f"{result.nfev} evaluations for {result.nit} steps; with (9), two a step"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
        ("curvature", {"curvature": 0.0}),
        ("curvature", {"curvature": 1.0}),
        ("restart_every", {"restart_every": 0}),
        ("threshold", {"threshold": 0.0}),
        ("threshold", {"threshold": np.nan}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, arguments):
    with pytest.raises(ValueError, match=name):
        minimize(**{"fun": lambda x: x @ x, "grad": lambda x: 2 * x, "start": [1.0]} | arguments)


def test_minimize_refuses_a_gradient_of_the_wrong_shape():
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: x @ x, lambda x: 2 * x[:, None], [1.0, 2.0])
