"""Shared tests of optim/admm: run on the reference, and on the learner's file.

Single steps are compared to 1e-9, which leaves room for any order of a few operations; what an iteration has found, to some
times its tolerances.
"""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import Lasso

from mlpath.optim._shared import logistic
from mlpath.optim.admm import (
    CONVERGED,
    DIVERGED,
    INFEASIBLE,
    OUT_OF_STEPS,
    State,
    admm,
    balance,
    basis_pursuit,
    consensus,
    consensus_prox,
    lasso,
    least_squares_prox,
    residuals,
    step,
    tolerances,
)
from mlpath.optim.proximal import lasso_gap, soft_threshold
from mlpath.testing import assert_close

TARGET, CURVATURE = np.array([2.0, -0.7, 0.4, -3.1]), np.array([1.0, 2.5, 0.6, 4.0])


@pytest.fixture
def rng():
    return np.random.default_rng(2011)


def bowl(v, a):
    """The proximal operator of sum of c / 2 (x - t)^2, with other c and t for each entry."""
    return (v + a * CURVATURE * TARGET) / (1 + a * CURVATURE)


def threshold(v, a):
    return soft_threshold(v, 1.5 * a)


def solution():
    """Where the bowl plus 1.5 times the 1-norm is least, and the multipliers there."""
    x = np.sign(TARGET) * np.maximum(abs(TARGET) - 1.5 / CURVATURE, 0)
    return x, CURVATURE * (TARGET - x)


def state(*arrays):
    """A state whose arrays cannot be changed."""
    arrays = [np.array(array, dtype=float) for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    return State(*arrays)


@cache
def diabetes():
    features, targets = load_diabetes(return_X_y=True)
    return np.asarray(features) * np.sqrt(442), np.asarray(targets) - np.mean(targets)


@cache
def wide():
    rng = np.random.default_rng(5)
    features = rng.standard_normal((30, 80)) + 0.4 * rng.standard_normal((30, 1))
    return features, features[:, ::13] @ np.array([2.0, -1.5, 1.0, 0.7, -2.2, 1.2, 0.4]) + 0.3 * rng.standard_normal(30)


# step


def test_step_minimises_over_x_then_over_z_and_adds_what_differs():
    before = state([9.0, 9.0, 9.0, 9.0], [1.0, -0.5, 0.3, -2.0], [0.2, 0.4, -1.0, 0.6])
    found = step(before, bowl, threshold, rho=2.0)
    x = (2 * np.array([0.8, -0.9, 1.3, -2.6]) + CURVATURE * TARGET) / (2 + CURVATURE)
    total = x + before.u
    z = np.sign(total) * np.maximum(abs(total) - 0.75, 0)
    assert_close(found.x, x, "step(...).x", "equation (4)", atol=1e-12)
    assert_close(found.z, z, "step(...).z", "equation (4)", atol=1e-12)
    assert_close(found.u, total - z, "step(...).u", "equation (4)", atol=1e-12)


def test_step_is_relaxed_towards_x():
    before = state([0.0] * 4, [1.0, -0.5, 0.3, -2.0], [0.2, 0.4, -1.0, 0.6])
    plain = step(before, bowl, threshold, rho=0.8)
    for alpha in (1.6, 0.5):
        found = step(before, bowl, threshold, rho=0.8, relaxation=alpha)
        relaxed = alpha * plain.x + (1 - alpha) * before.z
        total = relaxed + before.u
        z = np.sign(total) * np.maximum(abs(total) - 1.5 / 0.8, 0)
        call = f"step(relaxation={alpha})"
        assert_close(found.x, plain.x, f"{call}.x", "equation (4): x itself is not relaxed", atol=1e-12)
        assert_close(found.z, z, f"{call}.z", "equations (4) and (5)", atol=1e-12)
        assert_close(found.u, total - z, f"{call}.u", "equations (4) and (5)", atol=1e-12)


def test_step_leaves_a_solution_where_it_is():
    x, y = solution()
    for rho in (0.3, 5.0):
        for alpha in (1.0, 1.7):
            found = step(state(x, x, y / rho), bowl, threshold, rho=rho, relaxation=alpha)
            expected = State(x, x, y / rho)
            assert_close(found, expected, f"step(rho={rho}, relaxation={alpha}) at a solution", "(4)", atol=1e-12)


def test_step_brings_z_and_u_closer_to_the_solution(rng):
    x, y = solution()
    for rho in (0.2, 1.0, 6.0):
        for alpha in (1.0, 1.8):
            here, distance = state(*rng.standard_normal((3, 4)) * 5), np.inf
            for k in range(25):
                here = step(here, bowl, threshold, rho=rho, relaxation=alpha)
                # relaxed steps are those of Douglas and Rachford: nearer to the fixed point is z + u
                ahead = ((here.z + here.u - x - y / rho) ** 2).sum()
                if alpha == 1.0:
                    ahead = ((here.z - x) ** 2).sum() + ((here.u - y / rho) ** 2).sum()
                assert ahead <= distance * (1 + 1e-9) + 1e-20, (
                    f"step {k + 1} with rho={rho}, relaxation={alpha}: the squared distance rose from {distance:.4g} to {ahead:.4g}"
                )
                distance = ahead


def test_step_works_on_matrices_too():
    before = state(np.zeros((3, 4)), np.arange(12.0).reshape(3, 4) - 5, np.ones((3, 4)))
    found = step(before, bowl, threshold, rho=1.3)
    for i in range(3):
        row = step(State(before.x[i], before.z[i], before.u[i]), bowl, threshold, rho=1.3)
        assert_close(
            State(found.x[i], found.z[i], found.u[i]), row, f"row {i} of a step of matrices", "each row's step"
        )


# residuals


def test_residuals_are_the_lengths_of_equation_6():
    before = state([7.0, 7.0, 7.0], [1.0, 2.0, -1.0], [5.0, 5.0, 5.0])
    after = state([2.0, 0.0, -3.0], [1.5, 1.0, -3.0], [8.0, 9.0, 1.0])
    expected = (np.sqrt(0.25 + 1.0), 0.4 * np.sqrt(0.25 + 1.0 + 4.0))
    assert_close(residuals(before, after, 0.4), expected, "residuals(before, after, 0.4)", "equation (6)")
    found = residuals(state(*[np.zeros((2, 3))] * 3), state(*np.arange(18.0).reshape(3, 2, 3)), 2.0)
    expected = (6 * np.sqrt(6), 2 * np.sqrt(36 + 49 + 64 + 81 + 100 + 121))
    assert_close(found, expected, "residuals of matrices of shape (2, 3)", "(6), over all entries")


def test_residuals_measure_how_far_the_step_is_from_optimal(rng):
    # without relaxation -rho u+ - s is the derivative of the bowl at x+
    before, rho = state(*rng.standard_normal((3, 4))), 1.7
    after = step(before, bowl, threshold, rho=rho)
    missing = CURVATURE * (after.x - TARGET) + rho * after.u
    primal, dual = residuals(before, after, rho)
    assert_close(dual, np.linalg.norm(missing), "the dual residual", "what is missing to -y in the derivative of f")
    assert_close(primal, np.linalg.norm(after.x - after.z), "the primal residual", "equation (6)")


# tolerances


LONGER, SHORTER, PRICES = [3.0, 0.0, -4.0], [1.0, 2.0, 2.0], [0.5, 0.5, -1.0]


def test_tolerances_are_the_right_sides_of_equation_7():
    here = state(LONGER, SHORTER, PRICES)
    expected = (np.sqrt(3) * 0.01 + 0.1 * 5, np.sqrt(3) * 0.01 + 0.1 * 2.5 * np.sqrt(1.5))
    found = tolerances(here, 2.5, eps_abs=0.01, eps_rel=0.1)
    assert_close(found, expected, "tolerances(..., 2.5, eps_abs=0.01, eps_rel=0.1)", "equation (7)")


def test_tolerances_look_at_the_longer_of_x_and_z():
    found = tolerances(state(SHORTER, LONGER, PRICES), 0.5, eps_abs=0.02, eps_rel=0.3)
    expected = (np.sqrt(3) * 0.02 + 0.3 * 5, np.sqrt(3) * 0.02 + 0.3 * 0.5 * np.sqrt(1.5))
    assert_close(found, expected, "tolerances of a state whose z is longer than its x", "equation (7)")


def test_tolerances_of_matrices_count_all_entries():
    here = state(*[np.zeros((2, 8))] * 3)
    found = tolerances(here, 3.0, eps_abs=0.5, eps_rel=0.1)
    assert_close(found, (2.0, 2.0), "tolerances of zeros of shape (2, 8), eps_abs=0.5", "(7) with n = 16")


# balance


def test_balance_keeps_the_multipliers_and_changes_the_weight():
    here = state([1.0, 2.0], [0.5, 1.5], [0.6, -0.2])
    for primal, dual, factor in (
        (3.0, 0.2, 2.0),
        (0.2, 3.0, 0.5),
        (1.0, 0.11, 1.0),
        (0.11, 1.0, 1.0),
        (0.9, 0.3, 1.0),
        (10.4, 1.0, 2.0),
        (0.1, 1.04, 0.5),
    ):
        found, rho = balance(here, 0.7, primal, dual)
        call = f"balance(..., 0.7, {primal}, {dual})"
        assert_close(rho, 0.7 * factor, f"the weight of {call}", "equation (8)")
        assert_close(rho * found.u, 0.7 * here.u, f"rho u of {call}", "y = rho u, which does not change")
        assert_close(found.x, here.x, f"x of {call}", "the docstring: the same")
        assert_close(found.z, here.z, f"z of {call}", "the docstring: the same")


def test_balance_of_residuals_that_are_zero_or_just_ten_times_the_other():
    here = state([1.0], [0.5], [0.6])
    for primal, dual, factor in ((0.0, 0.0, 1.0), (1.0, 0.0, 2.0), (0.0, 1.0, 0.5), (10.0, 1.0, 1.0), (1.0, 10.0, 1.0)):
        found, rho = balance(here, 2.0, primal, dual)
        assert_close(rho, 2.0 * factor, f"the weight of balance(..., 2, {primal}, {dual})", "equation (8)")
        assert_close(found.u, [0.6 / factor], f"u of balance(..., 2, {primal}, {dual})", "y = rho u")


# admm


@pytest.mark.parametrize("options", [{}, {"relaxation": 1.6}, {"rho": 0.05, "balance_until": 60}, {"rho": 40.0}])
def test_admm_finds_a_solution_in_closed_form(options):
    x, y = solution()
    start = np.array([4.0, 1.0, -1.0, 0.0])
    start.flags.writeable = False
    found = admm(bowl, threshold, start, **options)
    call = f"admm({', '.join(f'{k}={v}' for k, v in options.items())})"
    assert found.success and found.message == CONVERGED, f"{call} says {found.message!r} after {found.nit} steps"
    assert_close(found.x, x, f"{call}.x", "each entry's closed form", atol=1e-4)
    assert_close(found.z, x, f"{call}.z", "each entry's closed form", atol=1e-4)
    assert_close(found.rho * found.u, y, f"rho u of {call}", "the derivative of f, with the sign changed", atol=1e-3)
    assert (found.z[x == 0] == 0).all(), f"z should have exact zeros where the solution has; got {found.z}"


@pytest.mark.parametrize(("share", "rho", "relaxation"), [(1.0, 0.7, 1.0), (1.0, 0.7, 1.5), (0.01, 0.05, 1.0)])
def test_admm_records_its_residuals_and_stops_at_the_first_that_are_small(share, rho, relaxation):
    def shrink(v, a):
        return threshold(v, share * a)

    found = admm(bowl, shrink, np.ones(4), rho=rho, relaxation=relaxation, eps_abs=1e-4, eps_rel=1e-3)
    here = state(np.ones(4), np.ones(4), np.zeros(4))
    call = f"admm(rho={rho}, relaxation={relaxation}, eps_abs=1e-4, eps_rel=1e-3)"
    assert len(found.primal) == len(found.dual) == found.nit, (
        f"{call}: {found.nit} steps, {len(found.primal)} residuals"
    )
    for k in range(found.nit):
        before, here = here, step(here, bowl, shrink, rho=rho, relaxation=relaxation)
        primal, dual = residuals(before, here, rho)
        expected = (primal, dual)
        assert_close(
            (found.primal[k], found.dual[k]), expected, f"the residuals of step {k + 1} of {call}", "(6)", atol=1e-12
        )
        allowed = tolerances(here, rho, eps_abs=1e-4, eps_rel=1e-3)
        small = primal <= allowed[0] and dual <= allowed[1]
        assert small == (k + 1 == found.nit), (
            f"{call} made {found.nit} steps; by (7) step {k + 1} is the first to stop at"
        )
    assert_close(State(found.x, found.z, found.u), here, f"the state of {call}", "the last step", atol=1e-12)


def test_admm_needs_both_residuals_to_be_small():
    # at the start x and z agree at once, or z stays at once
    found = admm(lambda v, a: (v + a * 5) / (1 + a), lambda v, a: v, np.zeros(3), eps_rel=0.0, eps_abs=1e-6)
    assert_close(
        found.x, np.full(3, 5.0), "admm of a bowl and of zero: x and z agree from the first step on", atol=1e-4
    )
    found = admm(lambda v, a: v + a, lambda v, a: np.clip(v, 0.0, 2.0), np.zeros(3), rho=0.1, eps_rel=0.0, eps_abs=1e-6)
    assert_close(found.x, np.full(3, 2.0), "admm of -x over a box: z stays from the first step on", atol=1e-4)


def walk(rho, until, n_steps):
    """The state and the weight of the last step, and the weights of all, by the parts on their own."""
    here, weights = state(np.ones(4), np.ones(4), np.zeros(4)), []
    for k in range(n_steps):
        if 0 < k <= until:
            here, rho = balance(here, rho, *residuals(before, here, rho))
        weights.append(rho)
        before, here = here, step(here, bowl, threshold, rho=rho)  # noqa: F841
    return here, weights


def test_admm_balances_after_the_first_steps_only():
    for rho, until, n_steps in ((1e-3, 7, 12), (1e-3, 50, 6), (300.0, 9, 9), (1e-3, 0, 5)):
        seen = []

        def watched(v, a, seen=seen):
            seen.append(1 / a)
            return bowl(v, a)

        options = {"rho": rho, "max_iter": n_steps, "eps_abs": 0.0, "eps_rel": 0.0}
        found = admm(watched, threshold, np.ones(4), **options, **({"balance_until": until} if until else {}))
        here, weights = walk(rho, until, n_steps)
        call = f"admm(rho={rho}, balance_until={until}, max_iter={n_steps})"
        assert_close(
            seen, weights, f"the weights of the steps of {call}", f"equation (8) after each of the first {until} steps"
        )
        assert_close(found.rho, weights[-1], f"{call}.rho", "the weight of the last step")
        assert_close(State(found.x, found.z, found.u), here, f"the state of {call}", "the last step", atol=1e-12)
        assert until == 0 or not 0.1 < weights[-1] / rho < 10, "the weight should have been changed some times"


def test_admm_says_so_if_its_steps_are_used_up():
    needed = admm(bowl, threshold, np.ones(4), rho=0.3).nit
    just = admm(bowl, threshold, np.ones(4), rho=0.3, max_iter=needed)
    assert just.success and just.nit == needed, f"with just enough steps, {needed}, it says {just.message!r}"
    less = admm(bowl, threshold, np.ones(4), rho=0.3, max_iter=needed - 1)
    assert not less.success and less.message == OUT_OF_STEPS, f"with a step less it says {less.message!r}"
    assert less.nit == needed - 1 and len(less.dual) == needed - 1, (
        f"with max_iter={needed - 1} it made {less.nit} steps"
    )
    once = admm(bowl, threshold, np.zeros(4), eps_abs=1e9)
    assert once.success and once.nit == 1, f"at least one step is made, and one is enough here; it made {once.nit}"
    flat = admm(lambda v, a: v, lambda v, a: v, np.zeros(3), eps_abs=0.0, eps_rel=0.0)
    assert flat.success, f"residuals and tolerances of zero: equality is enough; it says {flat.message!r}"


def test_admm_says_so_if_numbers_are_not_finite():
    for broken in ("prox_f", "prox_g"):
        for value in (np.nan, np.inf):
            calls = []

            def breaks(v, a, calls=calls, value=value):
                calls.append(1)
                return bowl(v, a) if len(calls) < 3 else np.full(4, value)

            proxes = (breaks, threshold) if broken == "prox_f" else (bowl, breaks)
            with np.errstate(invalid="ignore"):
                found = admm(*proxes, np.ones(4), rho=0.01)
            assert not found.success and found.message == DIVERGED, f"{broken} of {value}: it says {found.message!r}"
            assert found.nit == 3, f"{broken} returns {value} in step 3; it stopped after {found.nit}"


def test_admm_does_not_converge_where_the_sets_do_not_meet():
    found = admm(lambda v, a: np.clip(v, 0, 1), lambda v, a: np.clip(v, 3, 4), np.array([2.0, 9.0]), max_iter=200)
    assert not found.success and found.message == OUT_OF_STEPS, f"the boxes do not meet; it says {found.message!r}"
    assert_close(found.x - found.z, [-2.0, -2.0], "x - z for two boxes", "the gap between them")
    assert_close(found.u / 200, [-2.0, -2.0], "u / nit for two boxes", "it grows by the gap in each step", atol=0.1)


@pytest.mark.given
def test_admm_refuses_what_it_cannot_use():
    for name, start, options in (
        ("start", np.zeros(0), {}),
        ("start", np.array([np.nan]), {}),
        ("rho", np.ones(4), {"rho": 0.0}),
        ("rho", np.ones(4), {"rho": np.inf}),
        ("relaxation", np.ones(4), {"relaxation": 2.0}),
        ("relaxation", np.ones(4), {"relaxation": 0.0}),
        ("eps_abs", np.ones(4), {"eps_rel": -1.0}),
        ("max_iter", np.ones(4), {"max_iter": 0}),
    ):
        with pytest.raises(ValueError, match=name):
            admm(bowl, threshold, start, **options)


# least_squares_prox


@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (6, 6)])
def test_least_squares_prox_solves_equation_9_for_every_step_size(shape, rng):
    features, targets = rng.standard_normal(shape), rng.standard_normal(shape[0])
    kept = features.copy(), targets.copy()
    prox = least_squares_prox(features, targets, 0.35)
    for a in (0.8, 0.8, 5.0, 0.8, 1e-3, 40.0):  # a factor that is kept too long is wrong here
        v = rng.standard_normal(shape[1])
        left = np.eye(shape[1]) + a * 0.35 * features.T @ features
        expected = np.linalg.solve(left, v + a * 0.35 * features.T @ targets)
        given = v.copy()
        assert_close(prox(v, a), expected, f"least_squares_prox of {shape} features, step size {a}", "(9)", rtol=1e-8)
        assert_close(v, given, "the point, afterwards,", "it is not changed", rtol=0)
    assert_close(features, kept[0], "the features, afterwards,", "the docstring: not changed", rtol=0)
    assert_close(targets, kept[1], "the targets, afterwards,", "the docstring: not changed", rtol=0)


def test_least_squares_prox_of_two_data_sets_do_not_share_anything(rng):
    data = [(rng.standard_normal((7, 3)), rng.standard_normal(7)) for _ in range(2)]
    proxes = [least_squares_prox(*each, 1.0) for each in data]
    for (features, targets), prox in zip(data, proxes, strict=True):
        expected = np.linalg.solve(np.eye(3) + features.T @ features, features.T @ targets)
        assert_close(
            prox(np.zeros(3), 1.0), expected, "the proximal operator of one of two data sets", "(9)", rtol=1e-8
        )


def peak(prox, v, a):
    """The most memory that a call had at once, in bytes, beyond what there was."""
    tracemalloc.start()
    try:
        prox(v, a)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_least_squares_prox_forms_the_smaller_matrix(rng):
    for shape in ((5, 900), (900, 5)):
        features, targets = rng.standard_normal(shape), rng.standard_normal(shape[0])
        used = peak(lambda v, a, f=features, t=targets: least_squares_prox(f, t, 1.0)(v, a), np.ones(shape[1]), 1.0)
        assert used < 2e6, (
            f"{shape} features: {used / 1e6:.1f} MB were used; a 900 x 900 matrix has 6.5 MB, a 5 x 5 one 200 B"
        )


@pytest.mark.parametrize("shape", [(400, 250), (250, 400)])
def test_least_squares_prox_factors_once_for_each_step_size(shape, rng):
    prox = least_squares_prox(rng.standard_normal(shape), rng.standard_normal(shape[0]), 1.0)
    v = np.ones(shape[1])
    prox(v, 0.5)
    used = peak(prox, v, 0.5)
    assert used < 2e5, (
        f"the second call with one step size used {used / 1e6:.2f} MB: a matrix of 0.5 MB is formed again, or factored"
    )


@pytest.mark.given
def test_least_squares_prox_refuses_what_it_cannot_use():
    for name, features, targets, factor in (
        ("features", np.ones(3), np.ones(3), 1.0),
        ("features", np.full((3, 2), np.nan), np.ones(3), 1.0),
        ("targets", np.ones((3, 2)), np.ones(2), 1.0),
        ("targets", np.ones((3, 2)), np.array([1.0, np.inf, 0.0]), 1.0),
        ("factor", np.ones((3, 2)), np.ones(3), 0.0),
    ):
        with pytest.raises(ValueError, match=name):
            least_squares_prox(features, targets, factor)
    with pytest.raises(ValueError, match="alpha"):
        lasso(np.ones((3, 2)), np.ones(3), 0.0)


@pytest.mark.parametrize(("data", "alpha"), [(diabetes, 1.0), (diabetes, 12.0), (wide, 0.15)])
def test_least_squares_prox_makes_a_lasso_like_scikit_learns(data, alpha):
    features, targets = data()
    found = lasso(features, targets, alpha, eps_rel=1e-9)
    model = Lasso(alpha=alpha, fit_intercept=False, tol=1e-13, max_iter=100_000).fit(features, targets)
    call = f"lasso of {features.shape} features, alpha={alpha}"
    assert found.success, f"{call} says {found.message!r}"
    assert_close(found.z, model.coef_, f"{call}.z", "scikit-learn's Lasso", atol=1e-5 * abs(model.coef_).max())
    correlations = (targets - features @ found.z) @ features / len(targets)
    active = found.z != 0
    off = max(
        abs(correlations[active] - alpha * np.sign(found.z[active])).max() / alpha, abs(correlations).max() / alpha - 1
    )
    assert off < 1e-6, f"{call}: the conditions of optimality are broken by {off:.2g}, relative to alpha"
    assert 0 < active.sum() < len(active), f"{call}: {active.sum()} of {len(active)} weights are not zero"
    gap = lasso_gap(features, targets, found.z, alpha) / (targets @ targets / (2 * len(targets)))
    assert gap < 1e-6, f"{call}: the duality gap is {gap:.2g} of the objective at zero"


# basis_pursuit


def sparse_equations(rng, n_rows=20, dim=50, n_active=4):
    matrix, x = rng.standard_normal((n_rows, dim)), np.zeros(dim)
    x[rng.permutation(dim)[:n_active]] = rng.uniform(1, 3, n_active) * rng.choice([-1, 1], n_active)
    return matrix, x


def test_basis_pursuit_recovers_a_planted_sparse_vector(rng):
    for _ in range(3):
        matrix, x = sparse_equations(rng)
        found = basis_pursuit(matrix, matrix @ x)
        assert found.success, f"basis_pursuit of 20 x 50 equations says {found.message!r}"
        assert_close(found.z, x, "basis_pursuit(...).z", "the planted vector with 4 entries", atol=1e-4)
        assert_close(found.x, x, "basis_pursuit(...).x", "the planted vector with 4 entries", atol=1e-4)
        assert ((found.z != 0) == (x != 0)).all(), (
            f"z should be zero where the vector is; {np.count_nonzero(found.z)} are not"
        )


def test_basis_pursuit_has_the_least_1_norm_of_all_solutions(rng):
    for shape in ((8, 25), (15, 25)):
        matrix, rhs = rng.standard_normal(shape), rng.standard_normal(shape[0])
        found = basis_pursuit(matrix, rhs)
        program = linprog(np.ones(50), A_eq=np.hstack([matrix, -matrix]), b_eq=rhs)
        assert found.success, f"basis_pursuit of {shape} equations says {found.message!r}"
        assert_close(matrix @ found.x, rhs, f"A x of basis_pursuit of {shape} equations", "x solves them", atol=1e-9)
        assert_close(abs(found.x).sum(), program.fun, "its 1-norm", "scipy.optimize.linprog", rtol=1e-4)
        x = program.x[:25] - program.x[25:]
        assert_close(found.z, x, "basis_pursuit(...).z", "scipy.optimize.linprog", atol=1e-4)


def test_basis_pursuit_says_so_if_there_is_no_solution(rng):
    matrix = rng.standard_normal((6, 10))
    matrix[4] = matrix[0] - 2 * matrix[1]
    rhs = matrix @ rng.standard_normal(10)
    fine = basis_pursuit(matrix, rhs)
    assert fine.success, f"a row that depends on others, in harmony with them: it says {fine.message!r}"
    assert_close(matrix @ fine.x, rhs, "A x with a row that depends on others", "x solves the equations", atol=1e-9)
    level = np.vstack([matrix, matrix[0] * rhs[1] - matrix[1] * rhs[0]])
    fine = basis_pursuit(level, np.append(rhs, 0.0))
    assert fine.success, f"with an equation whose right side is 0 it says {fine.message!r}"
    for off in (1.0, 1e-3):
        bad = rhs.copy()
        bad[4] += off
        found = basis_pursuit(matrix, bad, rho=0.5)
        call = f"basis_pursuit of equations that contradict each other by {off}"
        assert not found.success and found.message == INFEASIBLE, f"{call} says {found.message!r}"
        least = np.linalg.lstsq(matrix, bad)[0]
        assert_close(found.x, least, f"{call}: x", "least squares", rtol=1e-6, atol=1e-8)
        assert_close(found.z, least, f"{call}: z", "least squares", rtol=1e-6, atol=1e-8)
        assert found.nit == 0 and found.primal.shape == found.dual.shape == (0,), (
            f"{call} made {found.nit} steps, not 0"
        )
        assert not found.u.any() and found.rho == 0.5, (
            f"{call}: u should be zeros and rho 0.5; they are {found.u}, {found.rho}"
        )
    tall = rng.standard_normal((9, 4))
    assert basis_pursuit(tall, np.ones(9)).message == INFEASIBLE, "9 equations with 4 unknowns have no solution"
    assert basis_pursuit(tall, tall @ np.ones(4)).success, "these 9 equations with 4 unknowns have one"


def test_basis_pursuit_is_judged_in_the_units_of_its_right_side(rng):
    matrix, x = sparse_equations(rng)
    for size in (1e-4, 1e5):
        found = basis_pursuit(matrix, size * (matrix @ x), rho=1 / size)
        assert found.success, f"with a right side of size {size:g} it says {found.message!r}"
        assert_close(
            found.z / size, x, f"z / {size:g} for {size:g} times the right side", "the planted vector", atol=2e-3
        )
    matrix[4] = matrix[0] - 2 * matrix[1]
    bad = 1e-8 * (matrix @ x)
    bad[4] += 1e-9
    assert basis_pursuit(matrix, bad).message == INFEASIBLE, (
        "equations of size 1e-8 that are off by 1e-9 contradict each other"
    )
    zero = basis_pursuit(matrix, np.zeros(20))
    assert zero.success and not zero.z.any(), (
        f"with a right side of zeros the solution is zero; it says {zero.message!r}"
    )


def test_basis_pursuit_stops_after_max_iter_steps(rng):
    matrix, x = sparse_equations(rng)
    found = basis_pursuit(matrix, matrix @ x, max_iter=5)
    assert not found.success and found.nit == 5 and found.message == OUT_OF_STEPS, f"max_iter=5: {found.message!r}"
    assert_close(found.rho, 1.0, "basis_pursuit(...).rho", "its default, which is not balanced")
    again = basis_pursuit(matrix, matrix @ x, rho=3.0, max_iter=1)
    inverse = np.linalg.pinv(matrix)
    start = inverse @ (matrix @ x)
    assert_close(again.rho, 3.0, "basis_pursuit(rho=3).rho", "the weight, which is not balanced")
    assert_close(again.x, start, "x after one step from zeros", "equation (11)", atol=1e-9)
    expected = np.sign(start) * np.maximum(abs(start) - 1 / 3, 0)
    assert_close(again.z, expected, "z after one step, rho=3", "equation (4)", atol=1e-9)


@pytest.mark.given
def test_basis_pursuit_refuses_what_it_cannot_use():
    for name, matrix, rhs in (("matrix", np.ones(3), np.ones(3)), ("rhs", np.ones((3, 2)), np.ones(2))):
        with pytest.raises(ValueError, match=name):
            basis_pursuit(matrix, rhs)


# consensus_prox


def test_consensus_prox_makes_all_rows_equal_by_equation_12():
    rows = np.array([[1.0, 5.0, -2.0, 0.3], [2.0, -4.0, -1.0, 0.1], [6.0, 2.0, -9.0, 0.5]])
    kept = rows.copy()
    found = consensus_prox(soft_threshold)(rows, 1.2)
    assert_close(
        found, np.tile([2.6, 0.6, -3.6, 0.0], (3, 1)), "consensus_prox(soft_threshold)(3 rows, 1.2)", "(12)", atol=1e-12
    )
    assert_close(rows, kept, "the rows, afterwards,", "the docstring: a new array", rtol=0)


def test_consensus_prox_minimises_over_the_common_row(rng):
    # g = mu / 2 |z|^2: the minimum of g(z) + 1 / (2 a) sum |z - v_i|^2 in closed form
    rows, a, mu = rng.standard_normal((5, 3)), 0.7, 2.2
    found = consensus_prox(lambda v, a: v / (1 + a * mu))(rows, a)
    expected = rows.sum(axis=0) / (a * mu + 5)
    assert_close(found, np.tile(expected, (5, 1)), "consensus_prox of a quadratic, 5 rows,", "its minimum", atol=1e-12)
    one = consensus_prox(bowl)(rng.standard_normal((1, 4)) * 0 + 1.0, 0.4)
    assert_close(one, bowl(np.ones((1, 4)), 0.4), "consensus_prox of a single row", "the operator itself", atol=1e-12)


@pytest.mark.parametrize("n_blocks", [3, 7])
def test_consensus_prox_makes_a_distributed_lasso_equal_the_central_one(n_blocks):
    features, targets = diabetes()
    blocks = [np.arange(442) % (n_blocks + 1) == i for i in range(n_blocks)]
    blocks[0] = blocks[0] | (np.arange(442) % (n_blocks + 1) == n_blocks)  # one has twice as many rows
    proxes = [least_squares_prox(features[rows], targets[rows], 1 / 442) for rows in blocks]
    found = consensus(proxes, lambda v, a: soft_threshold(v, a * 5.0), np.zeros(10), rho=1 / n_blocks, balance_until=50,
                      eps_rel=1e-7, max_iter=3000)  # fmt: skip
    expected = Lasso(alpha=5.0, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(features, targets).coef_
    assert found.success, f"consensus of {n_blocks} blocks says {found.message!r}"
    because = "scikit-learn's Lasso of all rows together"
    assert_close(found.z, np.tile(expected, (n_blocks, 1)), f"consensus of {n_blocks} blocks", because, atol=1e-3)


def logistic_prox(features, signs, n_samples):
    """Of the sum of log(1 + exp(-y x'w)) over some rows, divided by the number of all rows: by Newton's method."""
    rows = signs[:, None] * features

    def prox(v, a):
        w = v
        for _ in range(5):
            p = 1 / (1 + np.exp(np.clip(rows @ w, -500, 500)))
            slope = (w - v) / a - p @ rows / n_samples
            w = w - np.linalg.solve((p * (1 - p) * rows.T) @ rows / n_samples + np.eye(len(w)) / a, slope)
        return w

    return prox


def test_consensus_prox_makes_a_distributed_logistic_regression_equal_the_central_one():
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = features[:, :8]
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    signs = 2.0 * labels - 1
    blocks = [slice(0, 150), slice(150, 400), slice(400, 569)]
    proxes = [logistic_prox(features[rows], signs[rows], 569) for rows in blocks]
    found = consensus(proxes, lambda v, a: v / (1 + 0.1 * a), np.zeros(8), rho=0.05, relaxation=1.6)
    expected = logistic(features, signs, ridge=0.1).minimum
    assert found.success, f"consensus of logistic regression on three blocks says {found.message!r}"
    assert_close(found.z[0], expected, "logistic regression on three blocks", "Newton on all rows together", atol=1e-4)
