"""Shared tests of optim/proximal: run on the reference, and on the learner's file.

Everything here is deterministic. Closed forms are compared to 1e-9, which leaves room for any order of a few operations
on numbers near 1; what an iteration has found, to what its tolerance implies.
"""

from functools import cache, partial
from math import inf, nan

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

from mlpath.optim._shared import quadratic
from mlpath.optim.projected_gradient.projections import project_ball, project_box, project_simplex
from mlpath.optim.proximal import (
    CONVERGED,
    DIVERGED,
    OUT_OF_STEPS,
    alpha_max,
    backtrack,
    lasso,
    lasso_gap,
    moreau_envelope,
    prox_elastic_net,
    prox_group,
    prox_nuclear,
    proximal_gradient,
    soft_threshold,
)
from mlpath.testing import assert_close

SIZES = [1e-200, 1e-30, 1e30, 1e200]
DIM = 12
GROUPS = np.array([2, 0, 1, 0, 2, 2, 0, 1, 3, 0, 2, 0])


@pytest.fixture
def rng():
    return np.random.default_rng(2009)


def lengths(x):
    """The Euclidean lengths of the four groups."""
    return np.array([np.linalg.norm(x[g == GROUPS]) for g in range(4)])


def check_prox(prox, penalty, x, step_size, call):
    """Assert that no point near or far does better in (1), and what the theory says of pairs of points."""
    rng, given = np.random.default_rng(0), x.copy()
    found = prox(x, step_size)
    assert found.shape == x.shape and found.dtype == x.dtype, f"{call} of {x.shape} {x.dtype} returned {found!r}"
    assert_close(x, given, f"the numbers handed to {call}, afterwards,", "the docstring: they are not changed", rtol=0)

    def objective(y):
        return penalty(y) + float(((y - x) ** 2).sum()) / (2 * step_size)

    least = objective(found)
    for size in (1e-4, 1e-2, 1.0):
        for other in found + size * rng.standard_normal((60, *x.shape)) * (rng.random((60, *x.shape)) < 0.4):
            value = objective(other)
            assert value >= least - 1e-12 * abs(least), (
                f"{call} of {x.round(3)} returned {found.round(4)}, where (1) is {least:.6g}, but at {other.round(4)} "
                f"it is {value:.6g}"
            )
    for other in x + rng.standard_normal((10, *x.shape)):
        near = prox(other, step_size)
        apart, product = ((near - found) ** 2).sum(), ((near - found) * (other - x)).sum()
        assert apart <= product + 1e-12, f"{call}: |p - q|^2 = {apart:.6g} exceeds (p - q)'(x - z) = {product:.6g}"


def refuses(name, call, *arguments, **options):
    with pytest.raises(ValueError, match=name):
        call(*arguments, **options)


# soft_threshold


def test_soft_threshold_moves_towards_zero_but_not_across():
    found = soft_threshold(np.array([2.35, -0.3, -1.71, 0.62, 0.0]), 0.47)
    assert_close(found, [1.88, 0.0, -1.24, 0.15, 0.0], "soft_threshold([2.35, -0.3, -1.71, 0.62, 0], 0.47)", "(4)")
    found = soft_threshold(np.array([[2.35, -0.3], [-1.71, 0.62]]), np.array([[0.4, 0.1], [2.0, 0.0]]))
    assert_close(found, [[1.95, -0.2], [0.0, 0.62]], "soft_threshold with a threshold for each entry", "(4)")


def test_soft_threshold_makes_entries_exactly_zero(rng):
    x = rng.standard_normal(200)
    found = soft_threshold(x, 0.7)
    assert ((found == 0) == (abs(x) <= 0.7)).all(), "entries up to the threshold should be exactly 0, and no others"
    assert_close(soft_threshold(x, 0.0), x, "soft_threshold(x, 0)", "x", rtol=0)


def test_soft_threshold_is_the_proximal_point_of_the_1_norm(rng):
    x = 2 * rng.standard_normal(DIM)
    check_prox(lambda x, a: soft_threshold(x, 1.3 * a), lambda y: 1.3 * abs(y).sum(), x, 0.6, "soft_threshold")
    grid = np.linspace(-4, 4, 80_001)
    for number in (-2.3, -0.4, 0.9):
        best = grid[(0.78 * abs(grid) + (grid - number) ** 2 / 2).argmin()]
        found = soft_threshold(np.array([number]), 0.78)[0]
        assert abs(found - best) < 2e-4, f"soft_threshold([{number}], 0.78) is {found}; on a fine grid {best} is best"


def test_soft_threshold_leaves_the_projection_on_the_dual_ball_by_equation_3(rng):
    x = 2 * rng.standard_normal(DIM)
    total = soft_threshold(x, 0.8) + project_box(x, -0.8, 0.8)
    assert_close(total, x, "soft_threshold(x, 0.8) plus the projection of x on the box of 0.8", "(3)", atol=1e-12)


def test_soft_threshold_keeps_float32_and_units(rng):
    x = rng.standard_normal(DIM)
    assert soft_threshold(x.astype(np.float32), 0.5).dtype == np.float32, "soft_threshold of float32 should be float32"
    for size in SIZES:
        found = soft_threshold(size * x, size * 0.5) / size
        assert_close(found, soft_threshold(x, 0.5), f"soft_threshold, all times {size:g}, divided by it,", "units")


@pytest.mark.given
def test_soft_threshold_and_others_refuse_negative_thresholds():
    for threshold in (-0.1, nan):
        refuses("threshold", soft_threshold, np.ones(2), threshold)
        refuses("l1", prox_elastic_net, np.ones(2), 1.0, l1=threshold, l2=0.0)
        refuses("l2", prox_elastic_net, np.ones(2), 1.0, l1=0.0, l2=threshold)
        refuses("threshold", prox_group, np.ones(2), threshold, np.array([0, 1]))
        refuses("threshold", prox_nuclear, np.ones((2, 2)), threshold)
    refuses("threshold", soft_threshold, np.ones(2), np.ones(3))


# prox_elastic_net


def test_prox_elastic_net_thresholds_and_shrinks():
    found = prox_elastic_net(np.array([2.35, -0.3, -1.71]), 0.4, l1=1.3, l2=2.25)  # threshold 0.52, divided by 1.9
    expected = np.array([1.83, 0.0, -1.19]) / 1.9
    assert_close(found, expected, "prox_elastic_net([2.35, -0.3, -1.71], 0.4, l1=1.3, l2=2.25)", "(5)")


def test_prox_elastic_net_is_the_proximal_point(rng):
    x = 2 * rng.standard_normal(DIM)
    for l1, l2 in ((1.3, 0.8), (0.0, 2.0), (0.7, 0.0)):
        check_prox(
            partial(prox_elastic_net, l1=l1, l2=l2),
            lambda y, l1=l1, l2=l2: l1 * abs(y).sum() + l2 / 2 * (y @ y),
            x,
            0.6,
            f"prox_elastic_net(l1={l1}, l2={l2})",
        )
    found = prox_elastic_net(x.astype(np.float32), 0.5, l1=0.3, l2=np.float64(0.2))
    assert found.dtype == np.float32, f"prox_elastic_net of float32 returned {found.dtype}"


# prox_group


def test_prox_group_shortens_each_group():
    x = np.array([1.5, 0.3, -2.0, 0.4, 3.1])
    found = prox_group(x, 0.7, np.array([1, 0, 1, 0, 2]))  # lengths 2.5, 0.5, 3.1
    assert_close(
        found, [1.08, 0.0, -1.44, 0.0, 2.4], "prox_group([1.5, 0.3, -2, 0.4, 3.1], 0.7, [1, 0, 1, 0, 2])", "(6)"
    )
    found = prox_group(x, [0.1, 1.5, 4.0], np.array([1, 0, 1, 0, 2]))
    assert_close(found, [0.6, 0.24, -0.8, 0.32, 0.0], "prox_group with thresholds 0.1, 1.5 and 4", "equation (6)")


def test_prox_group_is_the_proximal_point(rng):
    x = rng.standard_normal(DIM)
    check_prox(lambda x, a: prox_group(x, 1.1 * a, GROUPS), lambda y: 1.1 * lengths(y).sum(), x, 0.9, "prox_group")
    alone = np.zeros(DIM, int)
    check_prox(lambda x, a: prox_group(x, a, alone), np.linalg.norm, x, 0.9, "prox_group with one group")
    total = prox_group(x, 0.9, alone) + project_ball(x, 0.9)
    assert_close(total, x, "prox_group with one group, 0.9, plus the projection on the ball of 0.9", "(3)", atol=1e-12)


def test_prox_group_leaves_zeros_zero_and_does_not_depend_on_units(rng):
    with np.errstate(all="ignore"):
        found = prox_group(np.array([0.0, 1.0, 0.0]), 0.25, np.array([0, 1, 0]))
    assert_close(found, [0.0, 0.75, 0.0], "prox_group with a group of zeros", "(6): zeros stay")
    assert_close(prox_group(np.zeros(3), 0.0, np.array([0, 1, 0])), np.zeros(3), "prox_group of zeros", "zeros")
    x = rng.standard_normal(DIM)
    expected = prox_group(x, 0.5, GROUPS)
    for size in SIZES:
        found = prox_group(size * x, size * 0.5, GROUPS) / size
        assert_close(found, expected, f"prox_group, all times {size:g}, divided by it,", "units", atol=1e-12)
    found = prox_group(x.astype(np.float32), 0.5, GROUPS)
    assert found.dtype == np.float32, f"prox_group of float32 returned {found.dtype}"


def test_prox_group_of_huge_negative_entries_beside_zeros():
    x = np.array([-3e200, -1e190, -4e200, 0.0, 0.0])
    found = prox_group(x, [1e200, 5e189], np.array([0, 1, 0, 1, 0]))
    assert_close(found, [-2.4e200, -5e189, -3.2e200, 0.0, 0.0], f"prox_group({x.tolist()}, ...)", "(6)")


@pytest.mark.given
def test_prox_group_refuses_groups_that_do_not_fit():
    for groups in (np.array([0, 1]), np.array([0.0, 1.0, 1.0]), np.array([0, -1, 1])):
        refuses("groups", prox_group, np.ones(3), 1.0, groups)
    refuses("threshold", prox_group, np.ones(3), [1.0, 2.0, 3.0], np.array([0, 1, 1]))


# prox_nuclear


def rotated(values, rng):
    """A 6 x 4 matrix with these singular values, and its singular vectors."""
    u, v = np.linalg.qr(rng.standard_normal((6, 4)))[0], np.linalg.qr(rng.standard_normal((4, 4)))[0]
    return u * values @ v.T, u, v


def test_prox_nuclear_lowers_singular_values(rng):
    x, u, v = rotated(np.array([3.7, 1.9, 0.8, 0.2]), rng)
    for matrix, expected in ((x, u * [2.8, 1.0, 0.0, 0.0] @ v.T), (x.T, v * [2.8, 1.0, 0.0, 0.0] @ u.T)):
        call = f"prox_nuclear of a {matrix.shape} matrix with singular values 3.7, 1.9, 0.8, 0.2 and threshold 0.9"
        assert_close(prox_nuclear(matrix, 0.9), expected, call, "equation (7)", atol=1e-9)
    assert np.linalg.matrix_rank(prox_nuclear(x, 0.9)) == 2, "its rank should be 2: two singular values exceed 0.9"


def test_prox_nuclear_is_the_proximal_point(rng):
    x = rotated(np.array([2.5, 1.4, 0.7, 0.3]), rng)[0]
    check_prox(lambda x, a: prox_nuclear(x, 1.1 * a), lambda y: 1.1 * np.linalg.norm(y, "nuc"), x, 0.8, "prox_nuclear")
    assert prox_nuclear(x.astype(np.float32), 0.5).dtype == np.float32, "prox_nuclear of float32 should be float32"


# moreau_envelope


def test_moreau_envelope_of_the_1_norm_is_hubers_function():
    x, a = np.array([2.35, -0.3, -1.71]), 0.6
    value, gradient = moreau_envelope(
        lambda y: 1.5 * abs(y).sum(), lambda x, a: np.sign(x) * np.maximum(abs(x) - 1.5 * a, 0), x, a
    )
    # with the threshold 0.9: 1.5 * (2.35 - 0.45), 0.09 / 1.2, 1.5 * (1.71 - 0.45)
    call = "moreau_envelope of 1.5 times the 1-norm at [2.35, -0.3, -1.71] with step 0.6"
    assert_close(value, 2.85 + 0.075 + 1.89, f"{call}, its value,", "equation (8)")
    assert_close(gradient, [1.5, -0.5, -1.5], f"{call}, its gradient,", "equation (8)")
    assert_close(x, [2.35, -0.3, -1.71], "the point, afterwards,", "the docstring: it is not changed", rtol=0)


def test_moreau_envelope_has_the_gradient_of_its_value(rng):
    def prox(x, a):
        return x * max(0.0, 1 - a / np.linalg.norm(x))

    for scale in (0.2, 3.0):  # inside, where the proximal point is 0, and outside
        x = scale * rng.standard_normal(4) / 2
        _, gradient = moreau_envelope(np.linalg.norm, prox, x, 0.7)
        steps = 1e-5 * np.eye(4)
        values = [[moreau_envelope(np.linalg.norm, prox, x + sign * d, 0.7)[0] for d in steps] for sign in (1, -1)]
        differences = (np.array(values[0]) - values[1]) / 2e-5
        assert_close(gradient, differences, "the gradient of the envelope of the norm", "differences", atol=1e-8)


def test_moreau_envelope_of_an_indicator_is_half_the_squared_distance():
    value, gradient = moreau_envelope(lambda y: 0.0, lambda x, a: project_ball(x), np.array([1.8, 2.4]), 0.25)
    assert_close(value, 8.0, "moreau_envelope of the unit ball's indicator at [1.8, 2.4] with step 0.25", "2^2 / 0.5")
    assert_close(gradient, [4.8, 6.4], "its gradient", "(8): (x - p) / a")


# backtrack


def test_backtrack_shortens_until_the_parabola_lies_above():
    b, seen = np.array([1.3, -0.2]), []

    def fun(x):
        seen.append(x)
        return 2.5 * float((x - b) @ (x - b))  # L = 5

    x = np.array([0.4, 0.7])
    prox = lambda x, a: np.sign(x) * np.maximum(abs(x) - 0.8 * a, 0)  # noqa: E731
    point, step_size, calls = backtrack(fun, x, 5 * (x - b), prox, step_size=0.7, shrink=0.6)
    # 0.7, 0.42, 0.252 are above 1/5; 0.1512 is not: (0.4, 0.7) + 0.1512 * (4.5, -4.5), less 0.12096
    call = "backtrack on 2.5 |x - b|^2 from 0.7 with shrink=0.6"
    assert_close(step_size, 0.1512, f"{call}, its step size,", "the first below 1 / L = 0.2", rtol=1e-9)
    assert_close(point, [0.95944, 0.0], f"{call}, its point,", "equation (9)", atol=1e-9)
    assert calls == 5 and len(seen) == 5, (
        f"{call} should call fun at x and in 4 trials; it did {len(seen)}, says {calls}"
    )
    assert_close(x, [0.4, 0.7], "the point, afterwards,", "the docstring: it is not changed", rtol=0)
    again = backtrack(fun, x, 5 * (x - b), prox, step_size=0.19)
    assert again[1:] == (0.19, 2), (
        f"a first trial below 1 / L should be taken; got the step {again[1]}, {again[2]} calls"
    )


def test_backtrack_compares_with_the_parabola_of_equation_10():
    # along the axis the curvature is 1 on the way and 60 beyond: (10) looks at where the step ends
    def fun(x):
        return float(x[0] ** 2 / 2 + 30 * max(0.0, -0.5 - x[0]) ** 2)

    point, step_size, _ = backtrack(fun, np.array([1.0]), np.array([1.0]), lambda x, a: x, step_size=2.4)
    assert_close(
        step_size, 0.6, "backtrack from 2.4 where 1.2 still overshoots nothing but (10) fails,", "(10)", rtol=1e-9
    )
    assert_close(point, [0.4], "its point", "1 - 0.6", rtol=1e-9)


def test_backtrack_does_not_shorten_steps_for_rounding(rng):
    b = rng.standard_normal(DIM)

    for offset, size in ((1e3, 1e-8), (-1e3, 1e-8), (1e3, 1e-10), (-1e3, 1e-12), (0.0, 0.0)):

        def fun(x, offset=offset):
            return offset + 0.5 * float((x - b) @ (x - b))

        x = b + size * rng.standard_normal(DIM)
        _, step_size, _ = backtrack(fun, x, x - b, lambda x, a: x, step_size=0.9)
        assert step_size == 0.9, f"{size} from the minimum, where f is rounded, backtrack shortened 0.9 to {step_size}"


def test_backtrack_takes_its_last_trial():
    seen = []

    def fun(x):
        seen.append(x)
        return nan

    point, step_size, calls = backtrack(
        fun, np.array([2.0]), np.array([1.0]), lambda x, a: x, step_size=0.8, max_trials=4
    )
    assert (len(seen), calls) == (5, 5), (
        f"with max_trials=4, fun should be called 5 times: {len(seen)}, it says {calls}"
    )
    assert_close((point[0], step_size), (1.9, 0.1), "the last of 4 trials from 0.8", "halved three times", rtol=1e-9)


# proximal_gradient


def l1(factor):
    return lambda x: factor * float(abs(x).sum()), lambda x, a: soft_threshold(x, factor * a)


@cache
def composite(low=0.05):
    """A quadratic of curvature up to 4 with a 1-norm on top, and its minimum to many digits."""
    problem = quadratic(np.geomspace(low, 4, DIM), rng=np.random.default_rng(8))
    walk = partial(proximal_gradient, problem.fun, problem.grad, *l1(0.15))
    best = walk(problem.start, step_size=0.25, tol=1e-13, max_iter=20_000)
    return problem, walk, best


def test_proximal_gradient_walks_by_ista():
    b, curvature = np.array([1.6, -0.3]), np.array([1.0, 2.0])
    result = proximal_gradient(
        lambda x: float(curvature @ (x - b) ** 2) / 2,
        lambda x: curvature * (x - b),
        *l1(0.5),
        [0.0, -1.0],
        step_size=0.4,
        accelerate=False,
        record_path=True,
        max_iter=3,
    )
    # 0.64 - 0.2, -1 + 0.56 + 0.2; 0.44 + 0.464 - 0.2, -0.24 - 0.048 + 0.2; 0.704 + 0.3584 - 0.2, |-0.2576| - 0.2
    path = [[0.0, -1.0], [0.44, -0.24], [0.704, -0.088], [0.8624, -0.0576]]
    assert_close(result.path, path, "the path of three steps of ISTA", "equation (9)", rtol=1e-9)
    value = (0.7376**2 + 2 * 0.2424**2) / 2 + 0.5 * 0.92
    assert_close(result.fun, value, "its fun", "smooth part and penalty at x", rtol=1e-9)
    assert (result.nit, result.nfev) == (3, 1), f"3 steps, one value at the end; it says {result.nit}, {result.nfev}"
    assert not result.success and result.message == OUT_OF_STEPS, f"it says {result.success}, {result.message!r}"


def test_proximal_gradient_walks_by_fista():
    b, start = np.array([1.6, -0.3]), np.array([0.0, -1.0])
    seen = []

    def grad(x):
        seen.append(x)
        return x - b

    result = proximal_gradient(
        lambda x: 0.0, grad, *l1(0.5), start, step_size=0.4, restart=False, record_path=True, max_iter=4
    )
    t, expected, point, before = 1.0, [start], start, start
    y = start
    for _ in range(4):
        assert_close(
            seen[len(expected) - 1], y, f"where gradient {len(expected)} of FISTA was taken", "(11)", rtol=1e-9
        )
        before, point = point, soft_threshold(y - 0.4 * (y - b), 0.2)
        following = (1 + np.sqrt(1 + 4 * t * t)) / 2
        y, t = point + (t - 1) / following * (point - before), following
        expected.append(point)
    assert_close(
        result.path, expected, "the path of four steps of FISTA", "equations (9) and (11)", rtol=1e-9, atol=1e-12
    )
    assert_close(start, [0.0, -1.0], "the start, afterwards,", "the docstring: it is not changed", rtol=0)
    assert len(seen) == 4 or len(seen) == 5, f"4 steps need 4 gradients, not {len(seen)}"


def test_proximal_gradient_forgets_its_momentum_when_it_led_uphill():
    b = np.array([1.0, -0.4])
    curvature = np.array([1.0, 0.03])
    result = proximal_gradient(
        lambda x: 0.0, lambda x: curvature * (x - b), lambda x: 0.0, lambda x, a: x, [0.0, 3.0], step_size=0.9,
        record_path=True, max_iter=100, tol=0.0,
    )  # fmt: skip
    t, y, before, expected, restarts = 1.0, result.path[0], result.path[0], [result.path[0]], 0
    for _ in range(100):
        point = y - 0.9 * curvature * (y - b)
        if (y - point) @ (point - before) > 0:
            t, before, restarts = 1.0, point, restarts + 1
        following = (1 + np.sqrt(1 + 4 * t * t)) / 2
        y, t, before = point + (t - 1) / following * (point - before), following, point
        expected.append(point)
    assert restarts > 1, "this walk should restart more than once"
    assert_close(result.path, expected, "the path of FISTA with restarts", "(13): t = 1 again", rtol=1e-9, atol=1e-9)


def test_proximal_gradient_keeps_the_bounds_of_equation_12():
    problem, walk, best = composite()
    squared = float(((problem.start - best.x) ** 2).sum())
    steps = np.arange(1, 61)
    for accelerate, bound in ((False, 4 * squared / (2 * steps)), (True, 2 * 4 * squared / (steps + 1) ** 2)):
        path = walk(
            problem.start, step_size=0.25, accelerate=accelerate, restart=False, tol=0.0, max_iter=60, record_path=True
        ).path
        left = np.array([problem.fun(x) + 0.15 * abs(x).sum() for x in path[1:]]) - best.fun
        worst = (left - bound).argmax()
        assert left[worst] <= bound[worst] + 1e-12, (
            f"accelerate={accelerate}: after {steps[worst]} steps {left[worst]:.4g} is left; (12) allows {bound[worst]:.4g}"
        )


def test_proximal_gradient_converges_at_its_linear_rates():
    problem, walk, best = composite()
    ista = walk(problem.start, step_size=0.25, accelerate=False, tol=0.0, max_iter=50, record_path=True)
    errors = np.linalg.norm(ista.path - best.x, axis=1)
    ratio, bound = (errors[1:] / errors[:-1]).max(), 1 - 0.05 / 4
    assert ratio <= bound + 1e-9, f"an error of ISTA shrank by {ratio:.5f} only; 1 - mu / L is {bound:.5f}"
    counts = [
        walk(problem.start, step_size=0.25, max_iter=3000, tol=1e-9, accelerate=accelerate, restart=restart).nit
        for accelerate, restart in ((False, False), (True, False), (True, True))
    ]
    assert counts[0] > 2 * counts[2] and counts[1] > 1.5 * counts[2], (
        f"to 1e-9, ISTA took {counts[0]} steps, FISTA {counts[1]}, with restarts {counts[2]}; expected the last to be "
        "less than half, and two thirds, of the others"
    )


@pytest.mark.parametrize(("accelerate", "restart"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("search", [False, True])
def test_proximal_gradient_finds_the_minimum_in_every_variant(accelerate, restart, search):
    problem, _, best = composite()
    used = []

    def prox(x, step_size):
        used.append(step_size)
        return soft_threshold(x, 0.15 * step_size)

    result = proximal_gradient(
        problem.fun, problem.grad, lambda x: 0.15 * float(abs(x).sum()), prox, problem.start,
        step_size=3.0 if search else 0.25, accelerate=accelerate, restart=restart, search=search, tol=1e-7, max_iter=5000,
    )  # fmt: skip
    call = f"proximal_gradient(accelerate={accelerate}, restart={restart}, search={search})"
    assert result.success and result.message == CONVERGED, f"{call} says {result.message!r} after {result.nit} steps"
    assert_close(result.x, best.x, f"{call}.x", "the minimum", atol=1e-5)
    assert ((result.x == 0) == (best.x == 0)).all(), f"{call}: zeros should be exact; {result.x} and {best.x}"
    gradient = problem.grad(result.x)
    excess = np.where(result.x == 0, np.maximum(abs(gradient) - 0.15, 0), abs(gradient + 0.15 * np.sign(result.x)))
    assert excess.max() < 1e-5, f"{call}: -gradient should be a subgradient of the penalty, it misses by {excess.max()}"
    assert min(used) >= 0.125, f"{call} made a step of {min(used)}; none below half of 1 / L is ever needed"
    assert (np.diff(used) <= 0).all(), f"{call}: steps should never grow"


def test_proximal_gradient_counts_the_values_of_its_searches():
    problem = composite()[0]
    seen = []

    def fun(x):
        seen.append(x)
        return problem.fun(x)

    result = proximal_gradient(fun, problem.grad, *l1(0.15), problem.start, step_size=3.0, search=True, max_iter=7)
    assert result.nfev == len(seen), f"with a search it says nfev={result.nfev}, and called fun {len(seen)} times"


def test_proximal_gradient_stops_when_the_mapping_is_within_tol():
    problem, walk, _ = composite()
    for tol in (1e-2, 1e-4):
        path = walk(problem.start, step_size=0.25, accelerate=False, tol=tol, record_path=True).path
        mappings = abs(np.diff(path, axis=0)).max(axis=1) / 0.25
        assert mappings[-1] <= tol, f"with tol={tol} it stopped at a mapping of {mappings[-1]}"
        assert (mappings[:-1] > tol).all(), f"with tol={tol} it went on after a mapping of {mappings[:-1].min()}"
    y = []

    def grad(x):
        y.append(x)
        return problem.grad(x)

    path = proximal_gradient(
        problem.fun, grad, *l1(0.15), problem.start, step_size=0.25, tol=1e-3, max_iter=2000, record_path=True
    ).path
    mappings = abs(np.array(y[: len(path) - 1]) - path[1:]).max(axis=1) / 0.25  # from where gradients were taken
    assert mappings[-1] <= 1e-3, f"FISTA with tol=1e-3 stopped at a mapping of {mappings[-1]}"
    assert (mappings[:-1] > 1e-3).all(), f"FISTA with tol=1e-3 went on after a mapping of {mappings[:-1].min()}"


def test_proximal_gradient_stops_by_another_measure():
    problem, walk, best = composite()

    def left(x):
        return problem.fun(x) + 0.15 * float(abs(x).sum()) - best.fun

    result = walk(problem.start, step_size=0.25, measure=left, tol=1e-3, record_path=True)
    assert result.success and left(result.x) <= 1e-3, f"it stopped with {left(result.x)} left: {result.message!r}"
    assert all(left(x) > 1e-3 for x in result.path[1:-1]), "it went on after the measure had fallen to tol"


def test_proximal_gradient_projects_if_the_penalty_is_an_indicator(rng):
    problem = composite()[0]
    result = proximal_gradient(
        problem.fun, problem.grad, lambda x: 0.0, lambda x, a: project_simplex(x), problem.start, step_size=0.25
    )
    gradient = problem.grad(result.x)
    assert result.success and abs(result.x.sum() - 1) < 1e-9, f"on the simplex it ended at {result.x}"
    assert (gradient >= gradient[result.x > 0].max() - 1e-4).all(), (
        f"the gradient {gradient} is no minimum's: {result.x}"
    )


def test_proximal_gradient_finds_whole_groups(rng):
    features = rng.standard_normal((60, DIM))
    weights = np.where(GROUPS == 2, 1.5, 0.0) + np.where(GROUPS == 3, -2.0, 0.0)
    targets = features @ weights + 0.3 * rng.standard_normal(60)
    result = proximal_gradient(
        lambda w: float(((features @ w - targets) ** 2).sum()) / 120,
        lambda w: (features @ w - targets) @ features / 60,
        lambda w: 0.4 * float(lengths(w).sum()),
        lambda w, a: prox_group(w, 0.4 * a, GROUPS),
        np.zeros(DIM),
        step_size=60 / np.linalg.norm(features, 2) ** 2,
        tol=1e-9,
    )
    assert result.success, f"the group lasso says {result.message!r}"
    gradient, found = (features @ result.x - targets) @ features / 60, lengths(result.x)
    assert ((found > 0) == [False, False, True, True]).all(), f"groups 2 and 3 alone should be there; lengths {found}"
    for g in range(4):
        mine = g == GROUPS
        if found[g]:
            expected = -0.4 * result.x[mine] / found[g]
            assert_close(gradient[mine], expected, f"the gradient in group {g}", "-0.4 times its direction", atol=1e-7)
        else:
            assert lengths(gradient)[g] <= 0.4, f"the gradient of group {g}, which is zero, is longer than 0.4"


def test_proximal_gradient_may_converge_with_its_last_step():
    problem, walk, _ = composite()
    needed = walk(problem.start, step_size=0.25).nit
    result = walk(problem.start, step_size=0.25, max_iter=needed, record_path=True)
    assert result.success and result.nit == needed, f"with max_iter={needed}, just enough, it says {result.message!r}"
    assert len(result.path) == needed + 1, f"{needed} steps make {needed + 1} points, not {len(result.path)}"
    assert_close(result.path[-1], result.x, "the last row of its path", "x", rtol=0)
    result = walk(problem.start, step_size=0.25, max_iter=needed - 1)
    assert not result.success and result.nit == needed - 1, (
        f"with one step less it says {result.nit}, {result.message!r}"
    )
    assert result.path is None, "path should be None unless it is asked for"


def test_proximal_gradient_says_how_it_failed():
    with np.errstate(all="ignore"):
        result = proximal_gradient(lambda x: float(x @ x), lambda x: 2 * x, *l1(0.1), [1.0], step_size=1e8)
    assert not result.success and result.message == DIVERGED, f"steps that grow for ever: {result.message!r}"
    result = proximal_gradient(lambda x: 0.0, lambda x: x * nan, *l1(0.1), [1.0])
    assert not result.success and result.message == DIVERGED and result.nit == 1, (
        f"a gradient of NaN: {result.message!r}"
    )


def test_proximal_gradient_keeps_float32_and_lets_exceptions_through():
    b = np.array([1.5, -0.1], np.float32)
    for search in (False, True):
        result = proximal_gradient(
            lambda x: float((x - b) @ (x - b)), lambda x: 2 * (x - b), *l1(0.5), np.zeros(2, np.float32),
            step_size=0.4, search=search, tol=1e-4,
        )  # fmt: skip
        assert result.x.dtype == np.float32, f"from a float32 start it returned {result.x.dtype}"
        assert_close(result.x, [1.25, 0.0], "its x", "b less half of 0.5", atol=1e-3)
    with pytest.raises(ZeroDivisionError):
        proximal_gradient(lambda x: 0.0, lambda x: 1 / 0, *l1(0.1), [1.0])
    refuses("grad", proximal_gradient, lambda x: 0.0, lambda x: x[:1], *l1(0.1), [1.0, 2.0])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"), [("start", [nan]), ("start", []), ("step_size", 0.0), ("tol", -1.0), ("max_iter", 0)]
)
def test_proximal_gradient_refuses_what_it_cannot_use(name, value):
    options = {"start": [1.0], name: value}
    refuses(name, proximal_gradient, lambda x: 0.0, lambda x: x, *l1(0.1), **options)


# lasso_gap


@cache
def diabetes():
    features, targets = load_diabetes(return_X_y=True)
    return np.asarray(features) * np.sqrt(442), np.asarray(targets) - np.mean(targets)


def objective(features, targets, w, alpha):
    return ((targets - features @ w) ** 2).sum() / (2 * len(targets)) + alpha * abs(w).sum()


def test_lasso_gap_by_hand():
    features, targets = np.array([[1.0, 0.5], [-0.5, 2.0], [2.0, 1.0]]), np.array([1.2, -0.6, 2.5])
    # r = (0.5, -0.25, 1.1); r / 3 times X: (2.825, 0.85) / 3; theta = r / 3 * 0.3 * 3 / 2.825
    found = lasso_gap(features, targets, np.array([0.7, 0.0]), 0.3)
    theta = np.array([0.5, -0.25, 1.1]) * 0.3 / 2.825
    expected = 1.5225 / 6 + 0.21 - (4.5 - 1.15) * 0.0 - float(targets @ theta) + 1.5 * float(theta @ theta)
    assert_close(found, expected, "lasso_gap of three samples at [0.7, 0] with alpha 0.3", "equation (15)", rtol=1e-9)
    found = lasso_gap(features, targets, np.array([0.7, 0.0]), 1.4)  # here r / 3 is allowed as it is
    theta = np.array([0.5, -0.25, 1.1]) / 3
    expected = 1.5225 / 6 + 0.98 - float(targets @ theta) + 1.5 * float(theta @ theta)
    assert_close(
        found, expected, "lasso_gap of three samples at [0.7, 0] with alpha 1.4", "(15), theta = r / n", rtol=1e-9
    )


def test_lasso_gap_does_not_depend_on_signs():
    features, targets, w = (
        np.array([[1.0, 0.5], [-0.5, 2.0], [2.0, 1.0]]),
        np.array([1.2, -0.6, 2.5]),
        np.array([0.7, 0.0]),
    )
    first, second = lasso_gap(features, targets, w, 0.3), lasso_gap(features, -targets, -w, 0.3)
    assert_close(
        second, first, "lasso_gap with the signs of targets and weights changed", "the same as before", rtol=1e-9
    )


def test_lasso_gap_bounds_what_is_left_and_vanishes_at_the_optimum(rng):
    features, targets = diabetes()
    for alpha in (0.5, 5.0, 20.0):
        best = Lasso(alpha=alpha, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(features, targets).coef_
        least = objective(features, targets, best, alpha)
        gap = lasso_gap(features, targets, best, alpha)
        assert abs(gap) <= 1e-8 * least, f"at scikit-learn's lasso with alpha={alpha} the gap is {gap}, expected 0"
        for spread in (0.1, 1.0, 30.0):
            w = best + spread * rng.standard_normal(10)
            left, gap = objective(features, targets, w, alpha) - least, lasso_gap(features, targets, w, alpha)
            assert gap >= left - 1e-9 * least, f"alpha={alpha}: {left} is left to gain, and the gap is only {gap}: (15)"


def test_lasso_gap_is_zero_at_zero_from_alpha_max_on():
    features, targets = diabetes()
    top, zero = alpha_max(features, targets), np.zeros(10)
    for factor in (1 + 1e-12, 3.0):
        gap = lasso_gap(features, targets, zero, factor * top)
        assert abs(gap) <= 1e-9 * (targets @ targets), (
            f"with alpha = {factor} alpha_max the gap at 0 is {gap}, expected 0"
        )
    assert lasso_gap(features, targets, zero, 0.9 * top) > 1.0, (
        "below alpha_max zero is not optimal: the gap is positive"
    )
    assert not lasso(features, targets, 1.001 * top).x.any(), "above alpha_max all weights are zero"
    assert lasso(features, targets, 0.99 * top).x.any(), "below alpha_max some weight is not zero"
    with np.errstate(all="raise"):
        gap = lasso_gap(np.ones((4, 1)), np.array([1.0, -0.5, -1.5, 1.0]), np.zeros(1), 0.1)
    assert gap == 0, f"where the residual is orthogonal to all features, zero is optimal; the gap is {gap}"


@pytest.mark.parametrize("alpha", [0.5, 5.0, 30.0])
def test_lasso_gap_lets_the_given_lasso_reach_scikit_learns_weights(alpha):
    features, targets = diabetes()
    expected = Lasso(alpha=alpha, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(features, targets).coef_
    for search in (False, True):
        result = lasso(features, targets, alpha, tol=1e-11, search=search)
        assert result.success, f"lasso(alpha={alpha}, search={search}) says {result.message!r}"
        assert_close(result.x, expected, f"lasso(alpha={alpha}, search={search}).x", "scikit-learn's Lasso", atol=2e-3)
        assert ((result.x == 0) == (expected == 0)).all(), f"alpha={alpha}: other weights are zero than scikit-learn's"


@pytest.mark.given
def test_lasso_gap_has_a_lasso_that_refuses_what_it_cannot_use():
    refuses("targets", lasso, np.ones((3, 2)), np.ones(2), 1.0)
    refuses("features", lasso, np.full((3, 2), nan), np.ones(3), 1.0)
    refuses("alpha", lasso, np.ones((3, 2)), np.ones(3), 0.0)
    refuses("alpha", lasso, np.ones((3, 2)), np.ones(3), inf)
