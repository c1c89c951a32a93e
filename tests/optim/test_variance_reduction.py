"""Shared tests of optim/variance_reduction: run on the reference, and on the learner's file.

Epochs are compared, for indices that are handed over, with a loop that keeps every old gradient as a row of its own and
takes their mean anew in each step. Expectations are taken over all indices there are, and are exact. Only `minimize` draws:
what is asserted of it holds for any draws, or with room to spare.
"""

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlpath.optim._shared import breast_cancer, logistic
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.variance_reduction import (
    Table,
    averaged_estimates,
    minimize,
    reduced_estimates,
    sag_epoch,
    saga_epoch,
    slopes,
    smoothness,
    snapshot,
    svrg_epoch,
)
from mlpath.testing import assert_close

RIDGE = 0.1
METHODS = ("svrg", "sag", "saga")


@pytest.fixture
def rng():
    return np.random.default_rng(2013)


@cache
def data():
    """Sixty samples of five features, whose labels are partly noise, and the problem with its minimum."""
    rng = np.random.default_rng(7)
    features = rng.standard_normal((60, 5)) * np.array([1.0, 0.5, 2.0, 1.0, 1.5]) + 0.3
    signs = np.where(features @ np.array([1.0, -2.0, 0.5, 0.0, 1.0]) + 2 * rng.standard_normal(60) > 0, 1.0, -1.0)
    return signs[:, None] * features, logistic(features, signs, ridge=RIDGE)


def old_table(rng):
    """A table whose slopes were taken at many different points, and its mean."""
    rows, _ = data()
    taken = -1 / (1 + np.exp((rows * rng.standard_normal(rows.shape)).sum(axis=1)))
    return Table(taken, taken @ rows / len(rows))


def sample_gradients(w):
    rows, _ = data()
    return -1 / (1 + np.exp(rows @ w))[:, None] * rows


def by_rows(method, w, indices, old, *, step_size, ridge):
    """An epoch that keeps the old gradients as the rows of a matrix, and takes their mean each time."""
    old, w = old.copy(), w.copy()
    for i in indices:
        new = sample_gradients(w)[i]
        if method == "sag":
            changed = old.copy()
            changed[i] = new
            direction = changed.mean(axis=0)
        else:
            direction = new - old[i] + old.mean(axis=0)
        w = w - step_size * (direction + ridge * w)
        if method != "svrg":
            old[i] = new
    return old, w


@pytest.mark.given
def test_slopes_are_bounded_by_the_smoothness():
    rows, problem = data()
    bound = smoothness(rows, RIDGE)
    assert bound >= problem.smoothness, (
        f"smoothness(rows, {RIDGE}) is {bound}, that of the mean is {problem.smoothness}"
    )


# slopes


def test_slopes_of_cases_by_hand():
    rows = np.array([[1.3, -0.7], [0.4, 2.1], [-0.9, 0.2]])
    margins = np.array([1.3 * 0.6 + 0.7 * 1.1, 0.4 * 0.6 - 2.1 * 1.1, -0.9 * 0.6 - 0.2 * 1.1])
    got = slopes(rows, np.array([0.6, -1.1]))
    call = "slopes([[1.3, -0.7], [0.4, 2.1], [-0.9, 0.2]], [0.6, -1.1])"
    assert_close(got, -1 / (1 + np.exp(margins)), call, "equation (2)", rtol=1e-12)


def test_slopes_times_rows_are_gradients_of_the_loss(rng):
    rows, problem = data()
    w = rng.standard_normal(5)
    gradient = slopes(rows, w) @ rows / len(rows) + RIDGE * w
    assert_close(
        gradient, problem.grad(w), "the mean of slopes times rows, plus the ridge", "the gradient of (1)", rtol=1e-9
    )


def test_slopes_hold_for_margins_of_any_size():
    rows = np.array([[1000.0], [-1000.0], [1e200], [-1e200], [0.0]])
    with np.errstate(all="raise", under="ignore"):
        got = slopes(rows, np.array([2.0]))
    # Beside 1 what is left of a slope is below 1e-300, and may be rounded to 0.
    assert_close(
        got, [0.0, -1.0, 0.0, -1.0, -0.5], "slopes at margins of 2000, -2000, 2e200, -2e200, 0", "(2)", atol=1e-15
    )


def test_slopes_keep_float32_and_what_they_are_given():
    rows, w = np.array([[1.5, -0.5]], np.float32), np.array([0.4, 0.8], np.float32)
    got = slopes(rows, w)
    assert got.dtype == np.float32, f"slopes of float32 returned {got.dtype}"
    assert_close(rows, np.array([[1.5, -0.5]], np.float32), "slopes changed rows, which now")
    assert_close(w, np.array([0.4, 0.8], np.float32), "slopes changed w, which now")


# snapshot


def test_snapshot_holds_slopes_and_the_mean_gradient(rng):
    rows, problem = data()
    w = rng.standard_normal(5)
    table = snapshot(rows, w)
    assert_close(table.slopes, -1 / (1 + np.exp(rows @ w)), "snapshot(rows, w).slopes", "equation (2)", rtol=1e-9)
    expected = problem.grad(w) - RIDGE * w
    assert_close(table.mean, expected, "snapshot(rows, w).mean", "(3), without the ridge", rtol=1e-9, atol=1e-12)


# reduced_estimates


def test_reduced_estimates_of_a_case_by_hand():
    rows, w = np.array([[1.3, -0.7], [0.4, 2.1], [-0.9, 0.2]]), np.array([0.6, -1.1])
    table = Table(np.array([-0.37, -0.71, -0.23]), np.array([0.17, -0.59]))
    new = -1 / (1 + np.exp(rows @ w))
    expected = [(new[i] - table.slopes[i]) * rows[i] + table.mean + 0.3 * w for i in range(3)]
    got = reduced_estimates(table, rows, w, ridge=0.3)
    call = "reduced_estimates of slopes -0.37, -0.71, -0.23 and a mean of 0.17, -0.59, three rows, w = (0.6, -1.1), ridge=0.3"
    assert_close(got, expected, call, "equation (4)", rtol=1e-12)


def test_reduced_estimates_are_unbiased_whatever_the_table_holds(rng):
    rows, problem = data()
    for w in (np.zeros(5), rng.standard_normal(5)):
        got = reduced_estimates(old_table(rng), rows, w, ridge=RIDGE).mean(axis=0)
        assert_close(
            got,
            problem.grad(w),
            "the mean over all indices of reduced_estimates",
            "the gradient",
            rtol=1e-9,
            atol=1e-12,
        )


def test_reduced_estimates_lose_their_variance_at_the_minimum():
    rows, problem = data()
    best = problem.minimum
    plain = sample_gradients(best).var(axis=0).sum()
    scatter = []
    for off in (0.1, 0.01, 0.001):
        got = reduced_estimates(snapshot(rows, best + off), rows, best - off, ridge=RIDGE)
        scatter.append(got.var(axis=0).sum())
    # Slopes differ by at most 1/4 of the margins' difference, so that halving the distance quarters the variance.
    assert scatter[0] > 80 * scatter[1] > 6400 * scatter[2], f"variances at distances of 0.1, 0.01, 0.001: {scatter}"
    assert scatter[2] < 1e-4 * plain, f"a variance of {scatter[2]:.3g} beside {plain:.3g} of the plain gradients"
    at = reduced_estimates(snapshot(rows, best), rows, best, ridge=RIDGE)
    assert_close(at, np.zeros((60, 5)), "reduced_estimates at the minimum, with its table", "no variance", atol=1e-12)


# averaged_estimates


def test_averaged_estimates_of_a_case_by_hand():
    rows, w = np.array([[1.3, -0.7], [0.4, 2.1], [-0.9, 0.2]]), np.array([0.6, -1.1])
    table = Table(np.array([-0.37, -0.71, -0.23]), np.array([0.17, -0.59]))
    new = -1 / (1 + np.exp(rows @ w))
    expected = [(new[i] - table.slopes[i]) / 3 * rows[i] + table.mean + 0.3 * w for i in range(3)]
    got = averaged_estimates(table, rows, w, ridge=0.3)
    call = "averaged_estimates of slopes -0.37, -0.71, -0.23 and a mean of 0.17, -0.59, three rows, w = (0.6, -1.1), ridge=0.3"
    assert_close(got, expected, call, "equation (5)", rtol=1e-12)


def test_averaged_estimates_are_biased_by_what_the_table_lacks(rng):
    rows, problem = data()
    w, table = rng.standard_normal(5), old_table(rng)
    got = averaged_estimates(table, rows, w, ridge=RIDGE)
    lack = problem.grad(w) - RIDGE * w - table.mean
    bias = got.mean(axis=0) - problem.grad(w)
    assert_close(
        bias, -(1 - 1 / 60) * lack, "the bias of averaged_estimates", "(5): all but an n-th of the lack", rtol=1e-9
    )
    spread = reduced_estimates(table, rows, w, ridge=RIDGE).var(axis=0)
    assert_close(got.var(axis=0), spread / 3600, "the variance of averaged_estimates", "that of (4) by n²", rtol=1e-9)


# svrg_epoch


def assert_epoch_equals_rows(epoch, method, rng):
    rows, _ = data()
    w, table = rng.standard_normal(5), old_table(rng)
    indices = np.concatenate([[7, 7, 3, 7], rng.integers(60, size=80)])  # one sample several times from the start
    before = w.copy(), table.slopes.copy(), table.mean.copy(), rows.copy()
    old = sample_gradients(w) if method == "svrg" else table.slopes[:, None] * rows
    old, expected = by_rows(method, w, indices, old, step_size=0.13, ridge=RIDGE)
    given = () if method == "svrg" else (table,)
    got = epoch(*given, rows, w, indices, step_size=0.13, ridge=RIDGE)
    call = f"{method}_epoch along 84 indices from 7, 7, 3, 7 on, step_size=0.13, ridge=0.1"
    if method != "svrg":
        kept, got = got
        assert_close(kept.slopes[:, None] * rows, old, f"{call}: slopes times rows", "(6)", rtol=1e-9, atol=1e-12)
        assert_close(kept.mean, old.mean(axis=0), f"{call}: mean", "(6): that of the slopes", rtol=1e-9, atol=1e-12)
    assert_close(got, expected, f"{call}: weights", "a table of whole gradients", rtol=1e-9, atol=1e-12)
    now = w, table.slopes, table.mean, rows
    for name, array, then in zip(("w", "table.slopes", "table.mean", "rows"), now, before, strict=True):
        assert_close(array, then, f"{method}_epoch changed {name}, which now")


def assert_first_step(epoch, method, rng):
    """One step for each index there is, beside the estimate for that index."""
    rows, _ = data()
    w, table = rng.standard_normal(5), old_table(rng)
    if method == "svrg":
        expected = np.tile(data()[1].grad(w), (60, 1))  # at the snapshot itself any index gives the gradient
    else:
        gradients, n = sample_gradients(w), 60 if method == "sag" else 1
        expected = (gradients - table.slopes[:, None] * rows) / n + table.mean + RIDGE * w
    for i in (0, 13, 59):
        given = () if method == "svrg" else (table,)
        got = epoch(*given, rows, w, np.array([i]), step_size=0.2, ridge=RIDGE)
        got = got if method == "svrg" else got[1]
        call = f"(w - {method}_epoch(..., [{i}], step_size=0.2)) / 0.2"
        because = {"svrg": "(4), at the snapshot", "saga": "equation (4)", "sag": "equation (5)"}[method]
        assert_close((w - got) / 0.2, expected[i], call, because, rtol=1e-9, atol=1e-12)


def assert_keeps_float32(epoch, method):
    rows, _ = data()
    rows, w = rows.astype(np.float32), np.full(5, 0.5, np.float32)
    given = () if method == "svrg" else (snapshot(rows, w),)
    got = epoch(*given, rows, w, np.array([3, 1, 4]), step_size=0.1, ridge=RIDGE)
    arrays = [got] if method == "svrg" else [got[0].slopes, got[0].mean, got[1]]
    assert all(a.dtype == np.float32 for a in arrays), f"{method}_epoch of float32 returned {[a.dtype for a in arrays]}"


def test_svrg_epoch_begins_with_the_exact_gradient(rng):
    assert_first_step(svrg_epoch, "svrg", rng)


def test_svrg_epoch_equals_a_table_of_whole_gradients(rng):
    assert_epoch_equals_rows(svrg_epoch, "svrg", rng)


def test_svrg_epoch_without_an_index_stays_and_keeps_float32():
    rows, _ = data()
    got = svrg_epoch(rows, np.ones(5), np.zeros(0, int), step_size=0.1, ridge=RIDGE)
    assert_close(got, np.ones(5), "svrg_epoch(rows, ones, [])", "no step")
    assert_keeps_float32(svrg_epoch, "svrg")


def test_svrg_epoch_stays_at_the_minimum(rng):
    rows, problem = data()
    got = svrg_epoch(rows, problem.minimum, rng.integers(60, size=60), step_size=0.2, ridge=RIDGE)
    assert_close(got, problem.minimum, "an svrg_epoch from the minimum", "(4): there all estimates are 0", rtol=1e-9)


# saga_epoch


def test_saga_epoch_begins_with_the_reduced_estimate(rng):
    assert_first_step(saga_epoch, "saga", rng)


def test_saga_epoch_equals_a_table_of_whole_gradients(rng):
    assert_epoch_equals_rows(saga_epoch, "saga", rng)


def test_saga_epoch_keeps_float32():
    assert_keeps_float32(saga_epoch, "saga")


# sag_epoch


def test_sag_epoch_begins_with_the_averaged_estimate(rng):
    assert_first_step(sag_epoch, "sag", rng)


def test_sag_epoch_equals_a_table_of_whole_gradients(rng):
    assert_epoch_equals_rows(sag_epoch, "sag", rng)


def test_sag_epoch_keeps_float32():
    assert_keeps_float32(sag_epoch, "sag")


def test_sag_epoch_over_all_samples_in_turn_at_rest_is_gradient_descent_in_the_end():
    # With steps of zero the table comes up to date, whatever it held.
    rows, problem = data()
    w = np.linspace(-1, 1, 5)
    table, got = sag_epoch(Table(np.zeros(60), np.zeros(5)), rows, w, np.arange(60), step_size=0.0, ridge=RIDGE)
    assert_close(got, w, "sag_epoch(step_size=0)", "no move")
    expected = problem.grad(w) - RIDGE * w
    assert_close(table.mean, expected, "the mean of its table after each sample once", "the exact gradient", rtol=1e-9)


# minimize


def step_of(method, rows, ridge):
    """Steps with which each converges: SAGA by (7), SAG and SVRG with longer ones than their proofs allow."""
    return 1 / ((4 if method == "svrg" else 3) * smoothness(rows, ridge))


@pytest.mark.parametrize("method", METHODS)
def test_minimize_converges_as_a_line_where_plain_steps_stall(method, rng):
    rows, problem = data()
    settings = {"ridge": RIDGE, "step_size": step_of(method, rows, RIDGE)}
    result = minimize(rows, np.full(5, 2.0), method=method, rng=rng, tol=0.0, max_iter=40, record_path=True, **settings)
    errors = np.linalg.norm(result.path - problem.minimum, axis=1)
    call = f"minimize(method='{method}'): errors after 0, 10, ..., 40 epochs"
    assert errors[40] < 1e-4 * errors[0], f"{call}: {errors[::10]}; expected at least a ten-thousandth, by (7)"
    # On a logarithmic scale the second half falls as the first does. Over 60 seeds of SAG, the most uneven, their ratio was
    # 0.93 with a deviation of 0.16; of a walk that stalls it is 0.
    first, second = np.log(errors[5] / errors[20]), np.log(errors[20] / errors[35])
    assert second > 0.1 * first, f"{call}: {errors[::10]}; expected a line on a logarithmic scale, by (7)"
    w = problem.minimum
    for i in rng.integers(60, size=600):
        w = w - settings["step_size"] * (sample_gradients(w)[i] + RIDGE * w)
    stalled = np.linalg.norm(w - problem.minimum)
    assert errors[40] < stalled / 20, f"{call}: {errors[40]:.3g}, where plain steps stay at {stalled:.3g}"


def test_minimize_by_saga_keeps_to_its_bound(rng):
    rows, problem = data()
    bound, start = smoothness(rows, RIDGE), np.full(5, 2.0)
    result = minimize(
        rows,
        start,
        method="saga",
        ridge=RIDGE,
        step_size=1 / (3 * bound),
        rng=rng,
        tol=0.0,
        max_iter=20,
        record_path=True,
    )
    off = ((result.path - problem.minimum) ** 2).sum(axis=1)
    gap = problem.fun(start) - problem.fun(problem.minimum)
    steps = 60 * np.arange(21)
    limit = (1 - min(1 / 240, RIDGE / (3 * bound))) ** steps * (off[0] + 40 / bound * gap)
    # The bound is of a mean, and generous: the walk is some ten times below it at the end.
    assert (off <= limit).all(), f"squared errors of saga {off[::5]} exceed the bound (7), {limit[::5]}"


@pytest.mark.parametrize("method", METHODS)
def test_minimize_finds_the_minimum_and_says_so(method, rng):
    rows, problem = data()
    result = minimize(
        rows,
        np.zeros(5),
        method=method,
        ridge=RIDGE,
        step_size=step_of(method, rows, RIDGE),
        rng=rng,
        tol=1e-6,
        max_iter=200,
        record_path=True,
    )
    call = f"minimize(method='{method}', tol=1e-6)"
    assert result.success and result.message == CONVERGED, f"{call} ended with {result.message} after {result.nit}"
    # A gradient of 1e-6 is an error of at most 1e-6 √5 / μ.
    assert_close(result.x, problem.minimum, call, "Newton's method", atol=3e-5)
    assert_close(result.fun, problem.fun(result.x), f"{call}: fun", "(1) at x", rtol=1e-9)
    largest = [abs(problem.grad(x)).max() for x in result.path]
    assert largest[-1] <= 1e-6 < min(largest[:-1]), f"{call} should stop at the first gradient below tol"
    said = (result.nfev, result.path.shape)
    assert said == (result.nit + 1, (result.nit + 1, 5)), f"{call}: nfev and path.shape are {said} for nit={result.nit}"
    assert_close(result.path[0], np.zeros(5), f"{call}: path[0]", "the start")
    assert_close(result.path[-1], result.x, f"{call}: path[-1]", "x")


def test_minimize_agrees_with_scikit_learn(rng):
    rows, _ = data()
    model = LogisticRegression(solver="saga", C=1 / (60 * RIDGE), fit_intercept=False, tol=1e-9, max_iter=2000)
    signs = np.where(np.arange(60) % 2, 1, -1)
    theirs = model.fit(signs[:, None] * rows, signs).coef_[0]
    result = minimize(
        rows,
        np.zeros(5),
        method="saga",
        ridge=RIDGE,
        step_size=step_of("saga", rows, RIDGE),
        rng=rng,
        tol=1e-7,
        max_iter=300,
    )
    assert_close(result.x, theirs, "minimize(method='saga')", "scikit-learn's solver='saga'", atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_minimize_begins_with_the_table_of_the_start(method, rng):
    # With minute steps all slopes stay what they are, and every estimate is the exact gradient, whatever is drawn.
    rows, problem = data()
    start = np.full(5, 0.5)
    x = minimize(rows, start, method=method, ridge=RIDGE, step_size=1e-8, rng=rng, tol=0.0, max_iter=3).x
    call = f"what minimize(method='{method}', step_size=1e-8, max_iter=3) moves by, over 180 steps of 1e-8"
    assert_close((start - x) / 180e-8, problem.grad(start), call, "the gradient at the start", rtol=1e-4)


def test_minimize_runs_the_method_that_was_asked_for(rng):
    # Of forty samples that are all alike, SVRG's estimate is the exact gradient, whatever is drawn. SAGA's scatters around
    # it: over 200 seeds the walk ended off by 0 with a deviation of 0.022. SAG's lags behind: off by 0.256, deviation 0.006.
    rows, start, settings = np.tile([2.0, -1.0], (40, 1)), np.array([-1.0, 0.5]), {"ridge": 0.1, "step_size": 0.02}
    w = start
    for _ in range(40):
        w = w - 0.02 * (-rows[0] / (1 + np.exp(rows[0] @ w)) + 0.1 * w)
    for method, least, most in (("svrg", -1e-12, 1e-12), ("saga", -0.15, 0.15), ("sag", 0.21, 0.30)):
        x = minimize(rows, start, method=method, rng=rng, tol=0.0, max_iter=1, **settings).x
        said = f"an epoch of '{method}' on forty equal samples ends {x[0] - w[0]:.6g} beyond gradient descent"
        assert least <= x[0] - w[0] <= most, f"{said}; expected {least} to {most}"
        if method == "saga":
            assert abs(x[0] - w[0]) > 1e-9, f"{said}; expected some scatter, as old slopes are of different times"


@pytest.mark.parametrize("method", METHODS)
def test_minimize_draws_anew_in_each_epoch_and_is_reproducible(method):
    rows, _ = data()
    walks = [
        minimize(
            rows, np.ones(5), method=method, ridge=RIDGE, step_size=0.1, rng=np.random.default_rng(seed), max_iter=2
        ).x
        for seed in (3, 3, 4)
    ]
    assert_close(walks[1], walks[0], "minimize with the same seed", "the first walk")
    assert abs(walks[2] - walks[0]).max() > 1e-9, "minimize with two seeds walked alike: it should draw from rng"


def test_minimize_on_the_tumours(rng):
    problem = breast_cancer(ridge=1.0)
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    rows = (2.0 * labels - 1)[:, None] * np.column_stack([features, np.ones(569)])
    result = minimize(
        rows,
        problem.start,
        method="saga",
        ridge=1.0,
        step_size=step_of("saga", rows, 1.0),
        rng=rng,
        tol=1e-2,
        max_iter=60,
    )
    assert result.success, f"minimize by saga on 569 tumours, ridge=1: {result.message}"
    # A gradient of 1e-2 is an error of at most 1e-2 √31 / μ.
    assert_close(result.x, problem.minimum, "minimize by saga on 569 tumours", "Newton's method", atol=6e-2)


def test_minimize_says_when_it_fails(rng):
    rows, problem = data()
    short = minimize(rows, np.ones(5), method="sag", ridge=RIDGE, step_size=0.01, rng=rng, max_iter=3)
    got = (short.success, short.message, short.nit, short.path)
    assert got == (False, OUT_OF_STEPS, 3, None), f"minimize(max_iter=3): success, message, nit, path = {got}"
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = minimize(1e200 * rows, np.ones(5), method="saga", ridge=RIDGE, step_size=1e200, rng=rng)
    got = (beyond.success, beyond.message)
    assert got == (False, DIVERGED), f"minimize with enormous steps: {got}; expected DIVERGED"
    settled = minimize(rows, problem.minimum, method="svrg", ridge=RIDGE, step_size=0.1, rng=rng)
    assert settled.success and settled.nit == 0, f"minimize from the minimum: {settled.message}, nit={settled.nit}"


def test_minimize_may_converge_in_its_last_epoch():
    rows, _ = data()
    settings = {"method": "saga", "ridge": RIDGE, "step_size": step_of("saga", rows, RIDGE), "tol": 1e-2}
    needed = minimize(rows, np.zeros(5), rng=np.random.default_rng(1), max_iter=100, **settings).nit
    last = minimize(rows, np.zeros(5), rng=np.random.default_rng(1), max_iter=needed, **settings)
    assert last.success, (
        f"minimize(max_iter={needed}), where {needed} epochs are needed: {last.message}; expected success"
    )


def test_minimize_leaves_the_start_alone(rng):
    rows, _ = data()
    start = np.full(5, 0.5)
    minimize(rows, start, method="sag", ridge=RIDGE, step_size=0.1, rng=rng, max_iter=2)
    assert_close(start, np.full(5, 0.5), "minimize changed start, which now")


@pytest.mark.given
def test_minimize_refuses_nonsense(rng):
    good = {"rows": np.ones((4, 2)), "start": [1.0, 2.0], "method": "sag", "ridge": 0.1, "step_size": 0.1}
    for name, value in (
        ("rows", np.full((4, 2), np.nan)),
        ("rows", np.ones((0, 2))),
        ("start", [np.nan, 1.0]),
        ("start", [1.0, 2.0, 3.0]),
        ("method", "sgd"),
        ("ridge", -0.1),
        ("ridge", np.nan),
        ("step_size", 0.0),
        ("tol", -1.0),
        ("max_iter", 0),
    ):
        with pytest.raises(ValueError, match=name):
            minimize(rng=rng, **(good | {name: value}))
