"""Shared tests of optim/projected_gradient/methods: run on the reference, and on the learner's file.

Everything here is deterministic. Closed forms are compared to 1e-9, which leaves room for any order of a few operations
on numbers near 1; what an iteration has found, to what its tolerance implies.
"""

from functools import cache, partial
from math import inf, nan

import numpy as np
import pytest
from scipy.optimize import lsq_linear, nnls
from sklearn.svm import LinearSVC

from mlpath.optim._shared import quadratic, rosenbrock
from mlpath.optim.projected_gradient.methods import (
    CONVERGED,
    DIVERGED,
    OUT_OF_STEPS,
    STALLED,
    arc_search,
    ball_point,
    box_vertex,
    frank_wolfe,
    l1_ball_vertex,
    polytope_vertex,
    projected_gradient,
    projected_step,
    segment_step,
    simplex_vertex,
)
from mlpath.optim.projected_gradient.projections import project_ball, project_box, project_l1_ball, project_simplex
from mlpath.testing import assert_close

DIM = 12


@pytest.fixture
def rng():
    return np.random.default_rng(1956)


@cache
def bowl(low=0.2, high=5.0):
    """A quadratic of known curvature whose minimum is not in the unit balls and simplexes."""
    return quadratic(np.geomspace(low, high, DIM), rng=np.random.default_rng(1976))


def clip(low, high):
    """The projection onto a box, without checks: walks of thousands of steps should cost little."""
    return lambda x: np.minimum(np.maximum(x, low), high)


def nowhere(x):
    return x


BOX = clip(-0.5, 1.0)


def half_square(p):
    p = np.array(p)
    return lambda x: float((x - p) @ (x - p)) / 2, lambda x: x - p


def refuses(name, call, *arguments, **options):
    with pytest.raises(ValueError, match=name):
        call(*arguments, **options)


# projected_step


def test_projected_step_steps_out_and_comes_back_by_equation_2():
    x, gradient = np.array([0.9, -0.4, 0.25]), np.array([-2.1, 0.8, 0.65])
    following, mapping = projected_step(x, gradient, BOX, 0.3)  # to (1.53, -0.64, 0.055), and back
    call = "projected_step([0.9, -0.4, 0.25], [-2.1, 0.8, 0.65], the box from -0.5 to 1, 0.3)"
    assert_close(following, [1.0, -0.5, 0.055], f"the point of {call}", "equation (2)", rtol=1e-9)
    assert_close(mapping, [-1 / 3, 1 / 3, 0.65], f"the mapping of {call}", "equation (2)", rtol=1e-9)
    assert_close(x, [0.9, -0.4, 0.25], "the point handed over, afterwards,", "the docstring: it is not changed", rtol=0)


def test_projected_step_has_the_gradient_for_its_mapping_where_nothing_is_in_the_way(rng):
    x, gradient = rng.standard_normal((2, DIM))
    following, mapping = projected_step(x, gradient, nowhere, 0.7)
    assert_close(mapping, gradient, "the mapping without constraints", "the gradient", rtol=1e-9, atol=1e-12)
    assert_close(following, x - 0.7 * gradient, "the point without constraints", "(2)", rtol=1e-9, atol=1e-12)


def test_projected_step_has_no_mapping_at_a_minimum_though_the_gradient_is_not_zero():
    x = np.array([1.0, 0.3, -0.5])
    following, mapping = projected_step(x, np.array([-4.2, 0.0, 0.7]), BOX, 0.9)
    assert_close(mapping, np.zeros(3), "the mapping where (1) holds", "zero", atol=1e-12)
    assert_close(following, x, "the step from where (1) holds", "the same point", rtol=1e-12)


def test_projected_step_keeps_the_promise_of_equation_3(rng):
    for project in (BOX, project_ball, project_simplex, project_l1_ball):
        for step_size in (0.01, 0.4, 30.0):
            x, gradient = project(rng.standard_normal(DIM)), rng.standard_normal(DIM)
            following, mapping = projected_step(x, gradient, project, step_size)
            promised, least = gradient @ (x - following), step_size * mapping @ mapping
            assert promised >= least * (1 - 1e-9), (
                f"a step of {step_size} promises {promised:.4g}, and (3) at least {least:.4g} by its mapping"
            )
            assert_close(project(following), following, "the projection of the point", "itself", atol=1e-9)


# arc_search


def test_arc_search_takes_the_first_trial_that_passes_equation_6():
    p = np.array([2.0, 0.3])
    x, seen = np.array([0.6, -0.2]), []

    def fun(x):
        seen.append(x)
        return 1.5 * float((x - p) @ (x - p))

    value, gradient = 3.315, 3 * (x - p)  # (-4.2, -1.5)
    found = arc_search(fun, x, value, gradient, BOX, step_size=0.9)
    # 0.9: (4.38, 1.15) to (1, 1), value 2.235; passes
    assert_close(found.x, [1.0, 1.0], "arc_search from 0.9, its x,", "equation (6), at the first trial", rtol=1e-9)
    assert_close((found.value, found.step_size), (2.235, 0.9), "its value and step_size", "(6)", rtol=1e-9)
    assert (found.nfev, len(seen)) == (1, 1), f"it says nfev={found.nfev}, and called fun {len(seen)} times, not once"
    found = arc_search(fun, x, value, gradient, BOX, step_size=0.9, decrease=0.35, shrink=0.6)
    # the promise is 4.2 * 0.4 + 1.5 * 1.2 = 3.48, a share of 0.35 is 1.218, the gain only 1.08;
    # 0.54: (2.868, 0.61) to (1, 0.61), the promise 1.68 + 1.215, the share 1.013, the gain 1.671
    assert_close(found.x, [1.0, 0.61], "arc_search from 0.9 with c = 0.35, its x,", "the second trial, (6)", rtol=1e-9)
    assert_close((found.value, found.step_size), (1.64415, 0.54), "its value and step_size", "0.9 * 0.6", rtol=1e-9)
    assert found.nfev == 2 and len(seen) == 3, f"it says nfev={found.nfev}, and called fun {len(seen) - 1} times, not 2"


def test_arc_search_shortens_a_step_that_overshoots():
    p, x = np.array([0.2, 0.3]), np.array([0.6, -0.2])  # nothing in the way: f falls from 0.615 by 0.2214, 0.611
    found = arc_search(
        lambda x: 1.5 * float((x - p) @ (x - p)), x, 0.615, 3 * (x - p), BOX, step_size=0.6, decrease=0.35, shrink=0.6
    )
    assert_close(
        found.x, [0.168, 0.34], "arc_search from 0.6 inside the box, its x,", "(6): the second trial", rtol=1e-9
    )
    assert_close(found.step_size, 0.36, "its step_size", "0.6 * 0.6", rtol=1e-9)


def test_arc_search_asks_for_a_share_of_the_way_that_was_really_gone():
    # the first coordinate is stuck at its bound, with a steep gradient that promises nothing there
    p = np.array([90.0, 0.4])
    x = np.array([1.0, -0.3])
    value, gradient = float((x - p) @ (x - p)) / 2, x - p
    found = arc_search(lambda x: float((x - p) @ (x - p)) / 2, x, value, gradient, BOX, step_size=1.0, decrease=0.4)
    assert_close(found.x, [1.0, 0.4], "arc_search where one bound is active, its x,", "(6): the first trial", rtol=1e-9)
    assert found.nfev == 1, f"the first trial satisfies (6); arc_search made {found.nfev}"


def test_arc_search_accepts_just_the_share_it_asks_for():
    found = arc_search(lambda x: float(x @ x) / 2, np.ones(1), 0.5, np.ones(1), nowhere, step_size=1.0, decrease=0.5)
    assert found.step_size == 1.0, f"the step of 1 gains half of what is promised, which is what (6) asks: got {found}"


@pytest.mark.parametrize("wall", [nan, inf, -inf])
def test_arc_search_shortens_where_the_objective_is_not_finite(wall):
    def fun(x):
        return float(x[0] ** 2) if x[0] > 0.3 else wall

    found = arc_search(fun, np.array([0.9]), 0.81, np.array([1.8]), BOX, step_size=1.0)
    assert_close(found.step_size, 0.25, f"the step of arc_search with {wall} below 0.3", "1, 0.5 and 0.25", rtol=1e-9)
    assert_close(found.x, [0.45], "its x", "0.9 - 0.25 * 1.8", rtol=1e-9)


def test_arc_search_gives_up_after_max_trials_and_stays():
    seen = []

    def fun(x):
        seen.append(x)
        return 2.5

    x = np.array([0.3, 0.4])
    found = arc_search(fun, x, 2.5, np.array([1e-30, -1e-30]), BOX, max_trials=7)
    assert (found.step_size, found.value, found.nfev) == (0.0, 2.5, 7), (
        f"on a constant nothing is gained; expected step 0, value 2.5 and 7 trials, got {found}"
    )
    assert len(seen) == 7, f"arc_search with max_trials=7 called fun {len(seen)} times"
    assert_close(found.x, x, "its x", "where it began", rtol=0)


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [("step_size", 0.0), ("step_size", inf), ("shrink", 1.0), ("shrink", 0.0), ("decrease", 0.0), ("decrease", 1.0)]
    + [("max_trials", 0)],
)
def test_arc_search_refuses_what_it_cannot_use(name, value):
    refuses(name, arc_search, lambda x: 0.0, np.ones(1), 1.0, np.ones(1), BOX, **{name: value})


# projected_gradient


def test_projected_gradient_walks_by_equation_2_from_the_projection_of_its_start():
    p, start = np.array([2.3, 0.6]), np.array([-3.0, 0.1])
    result = projected_gradient(
        lambda x: float((x - p) @ (x - p)) / 2, lambda x: x - p, BOX, start, step_size=0.4, record_path=True
    )
    # (-0.5, 0.1); -0.5 + 0.4 * 2.8 = 0.62, 0.3; 1.292 to 1, 0.42; 1, 0.492; ...
    path = [[-0.5, 0.1], [0.62, 0.3], [1.0, 0.42], [1.0, 0.492], [1.0, 0.5352]]
    call = "projected_gradient on half the squared distance to (2.3, 0.6), in the box, from (-3, 0.1)"
    assert_close(result.path[:5], path, f"{call}.path[:5]", "equation (2)", rtol=1e-9)
    assert_close(result.x, [1.0, 0.6], f"{call}.x", "the nearest point", atol=2e-6)
    assert_close(result.fun, 1.3**2 / 2, f"{call}.fun", "the value there", rtol=1e-5)
    assert result.success is True and result.message == CONVERGED, f"{call} says {result.success}, {result.message!r}"
    assert result.nfev == result.nit + 1, f"{call}: one value a point makes {result.nit + 1}, it says {result.nfev}"
    assert len(result.path) == result.nit + 1, f"{call}: {result.nit} steps and {len(result.path)} points"
    assert_close(result.path[-1], result.x, f"the last row of {call}.path", "x", rtol=0)
    assert_close(start, [-3.0, 0.1], "the start, afterwards,", "the docstring: it is not changed", rtol=0)


@pytest.mark.parametrize("rule", ["fixed", "armijo"])
def test_projected_gradient_stops_when_the_mapping_is_within_tol(rule):
    problem, project = bowl(1.0), clip(-0.4, 0.3)
    for tol in (1e-2, 1e-6):
        result = projected_gradient(
            problem.fun, problem.grad, project, problem.start, rule=rule, step_size=0.2, tol=tol, record_path=True
        )
        sizes = [abs(projected_step(x, problem.grad(x), project, 0.2)[1]).max() for x in result.path]
        call = f"projected_gradient(rule={rule!r}, tol={tol})"
        assert result.success and sizes[-1] <= tol, f"{call} ended with a mapping of {sizes[-1]}: {result.message!r}"
        assert min(sizes[:-1]) > tol, f"{call} went on after a mapping of {min(sizes[:-1])}"
        assert abs(problem.grad(result.x)).max() > 0.1, "the gradient at the minimum should not be zero here"


@pytest.mark.parametrize("rule", ["fixed", "armijo"])
def test_projected_gradient_solves_non_negative_least_squares_as_scipy_does(rule, rng):
    a, b = rng.standard_normal((30, 8)), rng.standard_normal(30) * 3
    expected, norm = nnls(a, b)
    assert (expected == 0).any() and (expected > 0).any(), "the oracle's solution should have entries of both kinds"
    step_size = (1 if rule == "fixed" else 8) / np.linalg.norm(a, 2) ** 2
    result = projected_gradient(
        lambda w: float((a @ w - b) @ (a @ w - b)) / 2,
        lambda w: a.T @ (a @ w - b),
        clip(0, inf),
        np.ones(8),
        rule=rule,
        step_size=step_size,
        tol=1e-5,
    )
    assert result.success, f"projected_gradient(rule={rule!r}) on non-negative least squares says {result.message!r}"
    assert_close(result.x, expected, "its x", "scipy.optimize.nnls", atol=1e-5)
    assert_close(result.fun, norm**2 / 2, "its fun", "scipy.optimize.nnls", rtol=1e-9)


def test_projected_gradient_solves_least_squares_in_a_box_as_scipy_does(rng):
    a, b = rng.standard_normal((40, DIM)), 4 * rng.standard_normal(40)
    lower, upper = -0.3 * rng.random(DIM), 0.3 * rng.random(DIM)
    expected = lsq_linear(a, b, bounds=(lower, upper), tol=1e-12).x
    result = projected_gradient(
        lambda w: float((a @ w - b) @ (a @ w - b)) / 2,
        lambda w: a.T @ (a @ w - b),
        clip(lower, upper),
        np.zeros(DIM),
        step_size=1 / np.linalg.norm(a, 2) ** 2,
        tol=1e-9,
    )
    assert result.success, f"projected_gradient on least squares in a box says {result.message!r}"
    assert_close(result.x, expected, "its x", "scipy.optimize.lsq_linear", atol=1e-6)


def test_projected_gradient_trains_a_support_vector_machine_by_its_dual(rng):
    x = rng.standard_normal((16, 3))
    y = np.sign(x @ [1.0, -0.5, 0.3] + 0.4 * rng.standard_normal(16))
    rows = y[:, None] * x
    machine = LinearSVC(loss="hinge", C=0.5, fit_intercept=False, tol=1e-10, max_iter=100_000, random_state=0).fit(x, y)
    result = projected_gradient(
        lambda a: float(a @ rows @ (rows.T @ a)) / 2 - float(a.sum()),
        lambda a: rows @ (rows.T @ a) - 1,
        clip(0, 0.5),
        np.zeros(16),
        step_size=1 / np.linalg.norm(rows, 2) ** 2,
        tol=1e-5,
        max_iter=3000,
    )
    assert result.success, f"projected_gradient on the dual of a support vector machine says {result.message!r}"
    assert_close(rows.T @ result.x, machine.coef_[0], "its weights", "scikit-learn's LinearSVC", atol=1e-4)


def test_projected_gradient_mixes_columns_with_weights_on_the_simplex(rng):
    a = rng.standard_normal((50, 6))
    weights = np.array([0.5, 0.0, 0.3, 0.0, 0.2, 0.0])
    result = projected_gradient(
        lambda w: float(((a @ (w - weights)) ** 2).sum()) / 2,
        lambda w: a.T @ (a @ (w - weights)),
        project_simplex,
        np.full(6, 1 / 6),
        step_size=1 / np.linalg.norm(a, 2) ** 2,
    )
    assert result.success, f"projected_gradient on mixture weights says {result.message!r}"
    assert_close(result.x, weights, "the weights of a mixture", "those it was made with", atol=1e-5)


def test_projected_gradient_shrinks_distances_by_the_factor_of_equation_5():
    problem = bowl(0.5)
    for project in (project_ball, clip(-0.6, 0.6)):
        options = {"step_size": 1 / problem.smoothness, "max_iter": 500}
        best = projected_gradient(problem.fun, problem.grad, project, problem.start, tol=1e-11, **options).x
        path = projected_gradient(
            problem.fun, problem.grad, project, 3 * problem.start, tol=1e-5, record_path=True, **options
        ).path
        distances = np.linalg.norm(path - best, axis=1)
        ratio = (distances[1:] / distances[:-1]).max()
        bound = 1 - problem.convexity / problem.smoothness
        assert len(path) > 10, f"the walk should take more than 10 points, it took {len(path)}"
        assert ratio <= bound + 1e-6, f"the distance to the minimum shrank by {ratio:.4f} only; (5) says {bound:.4f}"


def test_projected_gradient_stays_below_the_bound_of_equation_4():
    problem = bowl(1e-3)
    project, options = clip(-0.5, 0.5), {"step_size": 0.2}
    best = projected_gradient(problem.fun, problem.grad, project, problem.start, tol=1e-6, max_iter=5000, **options)
    assert best.success, f"projected_gradient in a box says {best.message!r}"
    start = project(-problem.minimum)
    path = projected_gradient(
        problem.fun, problem.grad, project, start, step_size=0.2, tol=1e-12, max_iter=60, record_path=True
    ).path
    for k in range(1, len(path)):
        left, bound = problem.fun(path[k]) - best.fun, 5 * ((start - best.x) ** 2).sum() / (2 * k)
        assert left <= bound + 1e-9, f"after {k} steps of 1/L the value is {left:.4g} too high; (4) allows {bound:.4g}"


def test_projected_gradient_searches_along_the_arc_where_no_step_size_is_known():
    problem = rosenbrock(3)
    project = clip(-1.5, [0.8, 2.0, 2.0])
    values = []

    def fun(x):
        values.append(problem.fun(x))
        assert abs(project(x) - x).max() < 1e-12, f"fun was called at {x}, which is not in the set"
        return values[-1]

    result = projected_gradient(
        fun, problem.grad, project, problem.start, rule="armijo", step_size=0.01, tol=1e-2, max_iter=5000
    )
    assert result.success, f"projected_gradient(rule='armijo') on Rosenbrock's function in a box: {result.message!r}"
    gradient = problem.grad(result.x)
    assert result.x[0] == 0.8 and gradient[0] < -0.01, f"the first bound should be active; x is {result.x}"
    assert abs(gradient[1:]).max() <= 1.01e-2, f"the other components of the gradient, {gradient[1:]}, should vanish"
    assert result.nfev == len(values), f"it says nfev={result.nfev}, and called fun {len(values)} times"
    assert result.fun == problem.fun(result.x), "fun should be the value at x"


def test_projected_gradient_begins_each_search_at_its_step_size():
    fun, grad = half_square([2.3, 0.6])
    path = projected_gradient(
        fun, grad, BOX, [0.1, 0.2], rule="armijo", step_size=0.15, max_iter=2, record_path=True
    ).path
    expected = [[0.1, 0.2], [0.43, 0.26], [0.7105, 0.311]]
    assert_close(path, expected, "the path of two steps with searches from 0.15, where it will do,", "(2)", rtol=1e-9)


def test_projected_gradient_may_converge_with_its_last_step():
    problem = bowl(1.0)
    walk = partial(projected_gradient, problem.fun, problem.grad, BOX, problem.start, step_size=0.2)
    needed = walk().nit
    result = walk(max_iter=needed)
    assert result.success and result.nit == needed, f"with max_iter={needed}, just enough, it says {result.message!r}"
    result = walk(max_iter=needed - 1, record_path=True)
    assert not result.success and result.message == OUT_OF_STEPS, f"with one step less it says {result.message!r}"
    assert result.nit == needed - 1 and len(result.path) == needed, f"it made {result.nit} steps of {needed - 1}"
    assert walk().path is None, "path should be None unless it is asked for"


def test_projected_gradient_says_how_it_failed():
    with np.errstate(over="ignore"):
        result = projected_gradient(
            lambda x: float(x @ x), lambda x: 2 * x, nowhere, [1.0], step_size=1e9, max_iter=2000
        )
    assert not result.success and result.message == DIVERGED, f"steps that grow for ever: {result.message!r}"
    result = projected_gradient(lambda x: 0.0, lambda x: np.full(2, nan), BOX, [0.2, 0.3])
    assert not result.success and result.message == DIVERGED, f"a gradient of NaN: {result.message!r}"
    assert result.nit == 0, f"a gradient of NaN allows no step, it made {result.nit}"
    result = projected_gradient(lambda x: 1.0, lambda x: np.ones(2), BOX, [0.2, 0.3], rule="armijo")
    assert not result.success and result.message == STALLED, f"a constant with a slope: {result.message!r}"
    assert (result.nit, result.nfev) == (0, 61), (
        f"60 trials and the start: nfev 61; it says {result.nit}, {result.nfev}"
    )


def test_projected_gradient_keeps_float32_and_lets_exceptions_through():
    result = projected_gradient(
        lambda x: float(x @ x), lambda x: 2.0 * x.astype(float), BOX, np.ones(3, np.float32), step_size=0.25, tol=1e-3
    )
    assert result.x.dtype == np.float32, f"projected_gradient from a float32 start returned {result.x.dtype}"
    assert result.success, f"projected_gradient of float32 says {result.message!r}"
    with pytest.raises(ZeroDivisionError):
        projected_gradient(lambda x: 1 / 0, lambda x: x, BOX, [1.0])


def test_projected_gradient_refuses_functions_of_the_wrong_shape():
    refuses("grad", projected_gradient, lambda x: 0.0, lambda x: x[:1], BOX, [1.0, 0.5])
    refuses("project", projected_gradient, lambda x: 0.0, lambda x: x, lambda x: x[:1], [1.0, 0.5])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [("start", [nan]), ("start", []), ("step_size", 0.0), ("tol", -1.0), ("max_iter", 0), ("rule", "exact")],
)
def test_projected_gradient_refuses_what_it_cannot_use(name, value):
    options = {"start": [1.0], name: value}
    refuses(name, projected_gradient, lambda x: 0.0, lambda x: x, BOX, **options)


# the linear minima


def check_vertex(vertex, project, call):
    """Assert that no point of the set has a smaller product, that the point is in the set, and keeps its dtype."""
    rng = np.random.default_rng(3)
    for size in (1e-200, 1.0, 1e200):
        for gradient in rng.standard_normal((4, DIM)):
            found = vertex(size * gradient)
            assert_close(project(found), found, f"the projection of {call}", "itself: it is in the set", atol=1e-9)
            others = project(3 * rng.standard_normal((300, DIM)) - 5 * gradient)
            least = (others @ gradient).min()
            assert found @ gradient <= least + 1e-9, (
                f"{call} of {size} * {gradient.round(3)} returned {found}, with the product {found @ gradient:.4f}; "
                f"(7) asks for the least, and there is a point with {least:.4f}"
            )
    found = vertex(np.ones(DIM, np.float32))
    assert found.dtype == np.float32, f"{call} of a float32 gradient returned {found.dtype}"
    zero = vertex(np.zeros(DIM))
    assert_close(project(zero), zero, f"{call} of zeros", "a point of the set", atol=1e-9)


def test_box_vertex_goes_against_the_gradient():
    found = box_vertex(np.array([0.7, -1.2, 3.1, -0.4]), [-1.3, -0.2, 0.45, 2.0], [1.1, 0.85, 0.9, 2.6])
    assert_close(found, [-1.3, 0.85, 0.45, 2.6], "box_vertex([0.7, -1.2, 3.1, -0.4], ...)", "(7)")
    lower, upper = np.linspace(-1, 0, DIM), np.linspace(0.1, 2, DIM)
    check_vertex(
        partial(box_vertex, lower=lower, upper=upper), partial(project_box, lower=lower, upper=upper), "box_vertex"
    )


@pytest.mark.given
def test_box_vertex_refuses_bounds_without_corners():
    refuses("lower", box_vertex, np.ones(2), -inf, 1.0)
    refuses("lower", box_vertex, np.ones(2), 0.0, [1.0, inf])
    refuses("lower", box_vertex, np.ones(2), 1.0, 0.5)


@pytest.mark.given
def test_box_vertex_has_neighbours_for_simplex_and_polytope():
    check_vertex(partial(simplex_vertex, radius=1.7), partial(project_simplex, radius=1.7), "simplex_vertex")
    corners = 1.7 * np.eye(DIM)
    check_vertex(partial(polytope_vertex, vertices=corners), partial(project_simplex, radius=1.7), "polytope_vertex")


def test_l1_ball_vertex_is_a_corner_by_equation_8():
    found = l1_ball_vertex(np.array([0.7, -1.2, 3.1, -0.4]), 2.35)
    assert_close(found, [0.0, 0.0, -2.35, 0.0], "l1_ball_vertex([0.7, -1.2, 3.1, -0.4], 2.35)", "(8)")
    found = l1_ball_vertex(np.array([0.7, -3.6, 3.1, -0.4]))
    assert_close(found, [0.0, 1.0, 0.0, 0.0], "l1_ball_vertex([0.7, -3.6, 3.1, -0.4])", "(8), radius 1")
    check_vertex(partial(l1_ball_vertex, radius=1.7), partial(project_l1_ball, radius=1.7), "l1_ball_vertex")


def test_ball_point_lies_against_the_gradient_by_equation_9():
    found = ball_point(np.array([1.2, -2.4, 2.4]), 0.9, center=[0.5, 0.25, -1.0])  # the length is 3.6
    assert_close(found, [0.2, 0.85, -1.6], "ball_point([1.2, -2.4, 2.4], 0.9, center=[0.5, 0.25, -1])", "(9)")
    center = np.linspace(-1, 2, DIM)
    check_vertex(
        partial(ball_point, radius=1.7, center=center), partial(project_ball, radius=1.7, center=center), "ball_point"
    )
    assert_close(ball_point(np.zeros(2), 3.0, center=[0.5, 0.25]), [0.5, 0.25], "ball_point of zeros", "its centre")


@pytest.mark.given
@pytest.mark.parametrize("radius", [0.0, -1.0, nan, inf])
def test_ball_point_and_l1_ball_vertex_refuse_radii_that_are_not_positive(radius):
    refuses("radius", l1_ball_vertex, np.ones(2), radius)
    refuses("radius", ball_point, np.ones(2), radius)


# segment_step


@pytest.mark.parametrize(
    ("product", "expected", "why"),
    [
        ([4.1, 2.2], 2.41 / 6.95, "equation (12)"),
        ([1.0, 0.3], 1.0, "(12): it falls to the end, and beyond"),
        ([-1.5, 0.4], 1.0, "it is bent downwards"),
        ([0.0, 0.0], 1.0, "it is straight"),
    ],
)
def test_segment_step_goes_to_the_lowest_point_of_the_segment(product, expected, why):
    gradient, towards = np.array([-2.3, 0.7]), np.array([1.2, 0.5])  # it falls by 2.41
    found = segment_step(gradient, towards, np.array(product))
    call = f"segment_step([-2.3, 0.7], [1.2, 0.5], {product})"
    assert_close(found, min(1.0, expected * 6.95 / 6.02) if "equation" in why else expected, call, why, rtol=1e-9)


def test_segment_step_stays_where_the_function_does_not_fall():
    towards = np.array([1.2, 0.5])
    for gradient in ([2.3, 0.7], [0.0, 0.0], [0.5, -1.2]):
        for product in ([4.1, 2.2], [-4.1, -2.2], [0.0, 0.0]):
            found = segment_step(np.array(gradient), towards, np.array(product))
            assert found == 0, f"segment_step({gradient}, [1.2, 0.5], {product}) returned {found}, but nothing falls"


# frank_wolfe


def test_frank_wolfe_walks_by_equation_11():
    fun, grad = half_square([0.7, 0.2, 0.4])
    start = np.array([0.0, 0.0, 1.0])
    result = frank_wolfe(fun, grad, simplex_vertex, start, max_iter=3, record_path=True)
    # gradient (-0.7, ...): all the way to e1; (0.3, -0.2, -0.4): 2/3 to e3; (-0.367, -0.2, 0.267): 1/2 to e1
    path = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1 / 3, 0.0, 2 / 3], [2 / 3, 0.0, 1 / 3]]
    call = "frank_wolfe on half the squared distance to (0.7, 0.2, 0.4), on the simplex, from e3, 3 steps"
    assert_close(result.path, path, f"{call}: path", "equation (11)", atol=1e-12)
    # at the last point the gradient is (-0.0333, -0.2, -0.0667), so s = e2: the gap is -0.0222 - 0.0222 + 0.2
    assert_close(result.gap, 0.2 - 0.4 / 9, f"{call}: gap", "equation (10)", rtol=1e-9)
    assert_close(result.fun, (1 / 900 + 0.04 + 1 / 225) / 2, f"{call}: fun", "the value at x", rtol=1e-9)
    assert (result.nit, result.nfev) == (3, 4), f"{call}: nit and nfev are {result.nit}, {result.nfev}, not 3 and 4"
    assert not result.success and result.message == OUT_OF_STEPS, f"{call}: {result.success}, {result.message!r}"
    assert_close(start, [0.0, 0.0, 1.0], "the start, afterwards,", "the docstring: it is not changed", rtol=0)


def test_frank_wolfe_walks_by_equation_12():
    p = np.array([0.7, 0.1, 0.3])
    h = np.diag([1.0, 2.0, 4.0])
    result = frank_wolfe(
        lambda x: float((x - p) @ h @ (x - p)) / 2,
        lambda x: h @ (x - p),
        simplex_vertex,
        [0.0, 1.0, 0.0],
        rule="exact",
        hvp=lambda x, v: h @ v,
        max_iter=2,
        record_path=True,
    )
    # gradient (-0.7, 1.8, -1.2): towards e3, falls 3, bends 6: half; (-0.7, 0.8, 0.8): d = (1, -0.5, -0.5), 1.5 of 2.5
    path = [[0.0, 1.0, 0.0], [0.0, 0.5, 0.5], [0.6, 0.2, 0.2]]
    assert_close(result.path, path, "the path of frank_wolfe with the exact rule", "equation (12)", atol=1e-12)


def test_frank_wolfe_has_a_gap_that_bounds_what_is_left():
    problem = bowl(0.5)
    sets = {
        "simplex": (simplex_vertex, project_simplex),
        "ball": (ball_point, project_ball),
        "1-norm": (l1_ball_vertex, project_l1_ball),
        "box": (partial(box_vertex, lower=-0.5, upper=0.5), partial(project_box, lower=-0.5, upper=0.5)),
    }
    for name, (vertex, project) in sets.items():
        best = projected_gradient(
            problem.fun, problem.grad, project, problem.start, step_size=0.2, tol=1e-8, max_iter=5000
        )
        assert best.success, f"projected_gradient on the {name} says {best.message!r}"
        for rule in ("classic", "exact"):
            for max_iter in (1, 4, 40):
                result = frank_wolfe(
                    problem.fun,
                    problem.grad,
                    vertex,
                    project(problem.start),
                    rule=rule,
                    hvp=problem.hvp,
                    max_iter=max_iter,
                )
                call = f"frank_wolfe({name}, rule={rule!r}, max_iter={max_iter})"
                left, gradient = result.fun - best.fun, problem.grad(result.x)
                assert_close(
                    result.gap,
                    gradient @ (result.x - vertex(gradient)),
                    f"{call}.gap",
                    "(10) at x",
                    rtol=1e-6,
                    atol=1e-9,
                )
                assert left >= -1e-9, f"{call} found a value below the minimum by {-left}: it left the set"
                assert result.gap >= left - 1e-9, (
                    f"{call} has a gap of {result.gap:.4g}, below f - f* = {left:.4g}: (10)"
                )
                diameter = {"simplex": 2.0, "ball": 4.0, "1-norm": 4.0, "box": DIM}[name]  # squared
                bound = 2 * problem.smoothness * diameter / (result.nit + 2)
                assert left <= bound, f"{call} is {left:.4g} too high after {result.nit} steps; (13) allows {bound:.4g}"


def test_frank_wolfe_is_as_slow_as_the_note_says():
    # after k steps at most k + 1 entries of 40 are not zero; the exact rule reaches 1 / (k + 1), and nothing less
    for rule, least in (("exact", 1.0), ("classic", 1.0)):
        path = frank_wolfe(
            lambda x: float(x @ x),
            lambda x: 2 * x,
            simplex_vertex,
            np.eye(40)[0],
            rule=rule,
            hvp=lambda x, v: 2 * v,
            max_iter=30,
            record_path=True,
        ).path
        values = (path**2).sum(axis=1)
        bound = least / np.arange(1, 32)
        assert (values >= bound - 1e-9).all(), f"rule {rule!r}: a value below 1 / (k + 1), which no k + 1 corners give"
        if rule == "exact":
            assert_close(values, bound, "||x||^2 along the exact rule's path", "1 / (k + 1)", rtol=1e-9)


def test_frank_wolfe_stops_when_the_gap_is_within_tol():
    problem = bowl()
    for tol in (1e-1, 1e-2):
        result = frank_wolfe(
            problem.fun, problem.grad, ball_point, np.zeros(DIM), tol=tol, record_path=True, max_iter=20000
        )
        gaps = [problem.grad(x) @ (x - ball_point(problem.grad(x))) for x in result.path]
        assert result.success and gaps[-1] <= tol, f"frank_wolfe(tol={tol}) ended with a gap of {gaps[-1]}"
        assert min(gaps[:-1]) > tol, f"frank_wolfe(tol={tol}) went on after a gap of {min(gaps[:-1])}"
        assert_close(result.gap, gaps[-1], f"frank_wolfe(tol={tol}).gap", "(10) at x", rtol=1e-6)


def test_frank_wolfe_may_converge_with_its_last_step():
    fun, grad = half_square([2.0, 0.5])
    walk = partial(
        frank_wolfe, fun, grad, lambda g: box_vertex(g, 0, 1), [0.0, 0.0], rule="exact", hvp=lambda x, v: v, tol=1e-12
    )
    result = walk(max_iter=2)
    assert result.success and result.nit == 2, f"with max_iter=2, just enough, it says {result.nit}, {result.message!r}"
    assert_close(result.x, [1.0, 0.5], "its x", "the nearest point of the box", rtol=1e-9)
    result = walk(max_iter=1)
    assert not result.success and result.nit == 1, f"with max_iter=1 it says {result.nit}, {result.message!r}"
    assert result.path is None, "path should be None unless it is asked for"
    result = frank_wolfe(lambda x: float(x.sum()), lambda x: np.ones(3), ball_point, np.zeros(3), tol=1e-12)
    assert result.success and result.nit == 1, f"a linear function is least after one step; it says {result.nit}"


def test_frank_wolfe_says_how_it_failed():
    result = frank_wolfe(lambda x: 0.0, lambda x: np.full(2, nan), ball_point, [0.2, 0.3])
    assert not result.success and result.message == DIVERGED and result.nit == 0, (
        f"a gradient of NaN: {result.message!r}"
    )
    result = frank_wolfe(lambda x: nan, lambda x: x, ball_point, [0.2, 0.3])
    assert not result.success and result.message == DIVERGED, f"a value of NaN: {result.message!r}"


def test_frank_wolfe_keeps_float32_and_lets_exceptions_through():
    result = frank_wolfe(lambda x: float(x @ x), lambda x: 2.0 * x, ball_point, np.full(3, 0.1, np.float32), max_iter=5)
    assert result.x.dtype == np.float32, f"frank_wolfe from a float32 start returned {result.x.dtype}"
    with pytest.raises(ZeroDivisionError):
        frank_wolfe(lambda x: 1 / 0, lambda x: x, ball_point, [0.2])


def test_frank_wolfe_refuses_functions_of_the_wrong_shape():
    refuses("grad", frank_wolfe, lambda x: 0.0, lambda x: x[:1], ball_point, [1.0, 0.5])
    refuses("vertex", frank_wolfe, lambda x: 0.0, lambda x: x, lambda g: g[:1], [1.0, 0.5])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"), [("start", [nan]), ("tol", -1.0), ("max_iter", 0), ("rule", "armijo"), ("rule", "exact")]
)
def test_frank_wolfe_refuses_what_it_cannot_use(name, value):
    options = {"start": [1.0], name: value}
    refuses(name, frank_wolfe, lambda x: 0.0, lambda x: x, ball_point, **options)
