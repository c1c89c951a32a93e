"""Shared tests of linalg/recommender/als: run on the reference, and on the learner's file.

Nothing here is random but seeded data. Ridge regressions with these penalties have condition numbers below 1e4: RTOL leaves a
factor of a hundred or more for another solver.
"""

from functools import cache

import numpy as np
import pytest

from mlpath.linalg.recommender._shared import Model, Ratings, rmse, simulated_ratings, split
from mlpath.linalg.recommender.als import (
    baseline,
    fit,
    fold_in,
    objective,
    ranking_quality,
    recommend,
    ridge_by_group,
    sweep,
)
from mlpath.testing import assert_close

RTOL = 1e-9

# Item 3 and user 2 have no ratings, item 0 and user 4 one each; the order is mixed.
SMALL = Ratings(
    [3, 0, 1, 0, 4, 1, 3, 1], [1, 2, 4, 1, 2, 1, 4, 0], [4.3, 2.7, 3.9, 4.8, 1.6, 3.1, 2.2, 4.4], n_users=5, n_items=5
)


def small_model(n_factors=2):
    rng = np.random.default_rng(5)
    return Model(
        3.2,
        rng.normal(0, 0.5, 5),
        rng.normal(0, 0.5, 5),
        rng.normal(size=(5, n_factors)),
        rng.normal(size=(5, n_factors)),
    )


@cache
def simulated():
    """Ratings to learn from, ratings held out, and the true scores, of 120 users and 60 items."""
    rng = np.random.default_rng(2)
    ratings, scores = simulated_ratings(rng, n_users=120, n_items=60, per_user=20.0)
    return *split(ratings, rng), scores


@cache
def fitted():
    return fit(simulated()[0], 3, reg=0.1, rng=np.random.default_rng(7))


def ridge(x, y, penalty):
    """The minimum of |y - x t|^2 + penalty |t|^2, as the least squares of an augmented system."""
    d = x.shape[1]
    return np.linalg.lstsq(np.vstack([x, np.sqrt(penalty) * np.eye(d)]), np.append(y, np.zeros(d)), rcond=None)[0]


def total(model, ratings, reg):
    """Equation (3), by a loop."""
    found = 0.0
    for u, i, r in zip(ratings.users, ratings.items, ratings.values):
        b, c, p, q = model.user_bias[u], model.item_bias[i], model.user_factors[u], model.item_factors[i]
        found += (r - model.mean - b - c - p @ q) ** 2 + reg * (b**2 + c**2 + p @ p + q @ q)
    return found


def fields(model):
    return [model.user_bias, model.item_bias, model.user_factors, model.item_factors]


def unchanged(function, model, *arguments):
    before = [x.copy() for x in fields(model)]
    function(model, *arguments)
    for x, copy in zip(fields(model), before):
        assert np.array_equal(x, copy), f"{function.__name__} changed the model that it was given"


# baseline


def test_baseline_by_hand():
    # The mean is 27 / 8 = 3.375. Item 1 has 4.3, 4.8, 3.1: 2.075 above the mean in all, over 3 + 2.5.
    found = baseline(SMALL, item_damping=2.5, user_damping=1.5)
    item_bias = np.array([1.025 / 3.5, 2.075 / 5.5, -2.45 / 4.5, 0.0, -0.65 / 4.5])
    rest = [
        0.75 - item_bias[1] - item_bias[2],  # user 0: 2.7 and 4.8
        1.275 - item_bias[4] - item_bias[1] - item_bias[0],  # user 1: 3.9, 3.1 and 4.4
        0.0,
        -0.25 - item_bias[1] - item_bias[4],  # user 3: 4.3 and 2.2
        -1.775 - item_bias[2],  # user 4: 1.6
    ]
    user_bias = np.array(rest) / np.array([3.5, 4.5, 1.0, 3.5, 2.5])
    assert_close(found.mean, 3.375, "baseline(ratings).mean", "the mean of all ratings", rtol=RTOL)
    call = "baseline(ratings, item_damping=2.5, user_damping=1.5)"
    assert_close(found.item_bias, item_bias, f"{call}.item_bias", "equation (2)", rtol=RTOL, atol=1e-15)
    assert_close(found.user_bias, user_bias, f"{call}.user_bias", "equation (2)", rtol=RTOL, atol=1e-15)


def test_baseline_without_damping_gives_plain_means_and_zeros_where_nothing_is_known():
    found = baseline(SMALL, item_damping=0.0, user_damping=0.0)
    expected = np.array([1.025, 2.075 / 3, -1.225, 0.0, -0.325])
    assert_close(found.item_bias, expected, "baseline(ratings, item_damping=0).item_bias", "(2)", rtol=RTOL, atol=1e-15)
    assert np.isfinite(found.user_bias).all(), f"baseline(ratings, user_damping=0).user_bias is {found.user_bias}"


def test_baseline_has_no_factors():
    found = baseline(SMALL)
    assert found.user_factors.shape == (5, 0), f"baseline(ratings).user_factors has shape {found.user_factors.shape}"
    assert found.item_factors.shape == (5, 0), f"baseline(ratings).item_factors has shape {found.item_factors.shape}"
    by_name = baseline(SMALL, item_damping=10.0, user_damping=5.0)
    assert_close(found.user_bias, by_name.user_bias, "baseline(ratings).user_bias", "dampings of 10 and 5", rtol=RTOL)


def test_baseline_follows_a_shift_of_all_ratings():
    moved = baseline(Ratings(SMALL.users, SMALL.items, SMALL.values + 7, 5, 5))
    assert_close(moved.mean, 10.375, "baseline(ratings + 7).mean", "the mean of all ratings", rtol=RTOL)
    assert_close(moved.item_bias, baseline(SMALL).item_bias, "baseline(ratings + 7).item_bias", "no shift", atol=1e-12)


def test_baseline_guesses_better_than_the_mean():
    known, held_out, _ = simulated()
    found, plain = rmse(baseline(known), held_out), np.std(held_out.values)
    assert found < 0.95 * plain, (
        f"held-out ratings are {found:.3f} from the baseline and {plain:.3f} from their own mean"
    )


@pytest.mark.given
@pytest.mark.parametrize("options", [{"item_damping": -1.0}, {"user_damping": np.nan}])
def test_baseline_refuses(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        baseline(SMALL, **options)


# objective


@pytest.mark.parametrize("reg", [0.0, 0.37])
def test_objective_by_hand(reg):
    # two ratings by one user: errors 0.9 and 0.5, squared 1.06; the user's own numbers count twice, the items' once each
    model = Model(3.0, np.array([0.4]), np.array([0.2, -0.6]), np.array([[1.5]]), np.array([[0.6], [-0.8]]))
    ratings = Ratings([0, 0], [0, 1], [5.4, 2.1], n_users=1, n_items=2)
    expected = 1.06 + reg * (2 * (0.16 + 2.25) + 0.04 + 0.36 + 0.36 + 0.64)
    assert_close(
        objective(model, ratings, reg), expected, f"objective(model, ratings, {reg})", "equation (3)", rtol=RTOL
    )


def test_objective_of_many_ratings():
    model = small_model()
    found = objective(model, SMALL, 0.23)
    assert_close(found, total(model, SMALL, 0.23), "objective(model, ratings, 0.23)", "(3), by a loop", rtol=RTOL)


def test_objective_leaves_out_users_and_items_without_ratings():
    model = small_model()
    model.user_factors[2], model.item_bias[3] = 1e6, 1e6
    found = objective(model, SMALL, 0.23)
    assert found < 1e6, f"objective(model, ratings, 0.23) is {found:.3g}: it counts a user or an item without ratings"


def test_objective_leaves_the_model_alone():
    unchanged(objective, small_model(), SMALL, 0.1)


@pytest.mark.given
@pytest.mark.parametrize(
    ("ratings", "reg", "named"),
    [(SMALL, -0.1, "reg"), (SMALL, np.inf, "reg"), (Ratings([0], [0], [1.0], n_users=4, n_items=5), 0.1, "model")],
)
def test_objective_refuses(ratings, reg, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        objective(small_model(), ratings, reg)


# ridge_by_group


def test_ridge_by_group_of_one_group():
    x, y = np.array([[1.0, 0.7], [1.0, -1.2], [1.0, 2.3]]), np.array([1.4, -0.9, 2.2])
    found = ridge_by_group(np.zeros(3, int), 1, x, y, 0.31)
    # X'X = [[3, 1.8], [1.8, 7.22]], to which 0.93 is added, and X'y = (2.7, 7.12)
    expected = np.linalg.solve([[3.93, 1.8], [1.8, 8.15]], [2.7, 7.12])
    assert_close(found, expected[None], "ridge_by_group([0, 0, 0], 1, x, y, 0.31)", "equation (4)", rtol=RTOL)


@pytest.mark.parametrize("dim", [1, 3, 6])
def test_ridge_by_group_solves_each_group_on_its_own(dim):
    rng = np.random.default_rng(3)
    groups = rng.permutation(np.repeat([0, 1, 3, 4], [1, 9, 4, 2]))  # group 2 and 5 have no rows
    x, y = rng.normal(size=(16, dim)), rng.normal(size=16)
    found = ridge_by_group(groups, 6, x, y, 0.17)
    for g in range(6):
        mine = groups == g
        expected = ridge(x[mine], y[mine], 0.17 * mine.sum()) if mine.any() else np.zeros(dim)
        call = f"ridge_by_group(groups, 6, x, y, 0.17)[{g}], of {mine.sum()} rows"
        assert_close(found[g], expected, call, "(4), by lstsq on the augmented system", rtol=RTOL, atol=1e-14)


def test_ridge_by_group_with_a_tiny_penalty_fits_each_group():
    rng = np.random.default_rng(4)
    groups, x = np.repeat([0, 1], 8), rng.normal(size=(16, 3))
    truth = rng.normal(size=(2, 3))
    found = ridge_by_group(groups, 2, x, np.einsum("nd,nd->n", x, truth[groups]), 1e-12)
    assert_close(found, truth, "ridge_by_group of targets without noise", "the numbers planted", rtol=1e-8)


def test_ridge_by_group_leaves_its_arguments_alone():
    groups, x, y = np.array([1, 0, 1]), np.array([[1.0, 2.0], [0.5, 0.1], [3.0, 1.0]]), np.array([1.0, 2.0, 3.0])
    copies = groups.copy(), x.copy(), y.copy()
    ridge_by_group(groups, 2, x, y, 0.1)
    for before, after in zip(copies, (groups, x, y)):
        assert np.array_equal(before, after), "ridge_by_group changed an array that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("groups", "x", "y", "reg", "named"),
    [
        ([0, 2], np.ones((2, 1)), np.ones(2), 0.1, "groups"),
        ([0, -1], np.ones((2, 1)), np.ones(2), 0.1, "groups"),
        ([0.5, 1], np.ones((2, 1)), np.ones(2), 0.1, "groups"),
        ([0], np.ones((2, 1)), np.ones(2), 0.1, "groups"),
        ([0, 1], np.ones(2), np.ones(2), 0.1, "x"),
        ([0, 1], np.array([[1.0], [np.nan]]), np.ones(2), 0.1, "x"),
        ([0, 1], np.ones((2, 1)), np.ones(3), 0.1, "y"),
        ([0, 1], np.ones((2, 1)), np.ones(2), 0.0, "reg"),
    ],
)
def test_ridge_by_group_refuses(groups, x, y, reg, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        ridge_by_group(groups, 2, x, y, reg)


# sweep


def test_sweep_finds_the_best_users_for_these_items():
    model = small_model()
    after = sweep(model, SMALL, 0.19)
    for u in (0, 1, 3, 4):
        mine = SMALL.users == u
        items = SMALL.items[mine]
        x = np.column_stack([np.ones(len(items)), model.item_factors[items]])
        expected = ridge(x, SMALL.values[mine] - 3.2 - model.item_bias[items], 0.19 * len(items))
        found = np.append(after.user_bias[u], after.user_factors[u])
        assert_close(
            found, expected, f"bias and factors of user {u} after sweep(model, ratings, 0.19)", "(4)", rtol=RTOL
        )


def test_sweep_finds_the_best_items_for_the_new_users():
    after = sweep(small_model(), SMALL, 0.19)
    for i in (0, 1, 2, 4):
        mine = SMALL.items == i
        users = SMALL.users[mine]
        x = np.column_stack([np.ones(len(users)), after.user_factors[users]])
        expected = ridge(x, SMALL.values[mine] - 3.2 - after.user_bias[users], 0.19 * len(users))
        found = np.append(after.item_bias[i], after.item_factors[i])
        assert_close(
            found, expected, f"bias and factors of item {i} after sweep(model, ratings, 0.19)", "(4)", rtol=RTOL
        )


def test_sweep_puts_zeros_where_nothing_is_known_and_keeps_the_mean():
    after = sweep(small_model(), SMALL, 0.19)
    assert after.mean == 3.2, f"sweep(model, ratings, 0.19).mean is {after.mean}, not that of the model, 3.2"
    nothing = [after.user_bias[2], *after.user_factors[2], after.item_bias[3], *after.item_factors[3]]
    assert not np.any(nothing), f"a user and an item without ratings got {nothing}, not zeros"


def test_sweep_never_raises_the_objective():
    for reg in (0.01, 0.5):
        model, before = small_model(4), np.inf
        for _ in range(6):
            model = sweep(model, SMALL, reg)
            after = total(model, SMALL, reg)
            assert after <= before * (1 + 1e-12), (
                f"a sweep with reg={reg} raised the objective (3) from {before} to {after}"
            )
            before = after


def test_sweep_leaves_the_model_alone():
    unchanged(sweep, small_model(), SMALL, 0.1)


@pytest.mark.given
@pytest.mark.parametrize(
    ("ratings", "reg", "named"), [(SMALL, 0.0, "reg"), (Ratings([0], [0], [1.0], n_users=5, n_items=6), 0.1, "model")]
)
def test_sweep_refuses(ratings, reg, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        sweep(small_model(), ratings, reg)


# fit


def test_fit_begins_with_the_baseline_and_small_factors():
    known = simulated()[0]
    found = fit(known, 3, reg=0.1, max_sweeps=1, rng=np.random.default_rng(0))
    # Before the first sweep the users' factors are zeros, so that the guesses are the baseline's. The penalty of the items'
    # factors is 0.1 times 3 numbers of variance 0.01 for each rating; over 60 items it has a standard deviation of 15 %.
    start, expected = baseline(known), 0.003 * len(known)
    without = Model(start.mean, start.user_bias, start.item_bias, np.zeros((120, 1)), np.zeros((60, 1)))
    extra = found.objective[0] - total(without, known, 0.1)
    assert 0.1 * expected < extra < 1.9 * expected, (
        f"fit(...).objective[0] is {extra:.4g} above that of the baseline; by the start described about {expected:.4g}"
    )


def test_fit_sweeps_from_there():
    found = fit(SMALL, 2, reg=0.1, max_sweeps=3, tol=0, rng=np.random.default_rng(0))
    assert found.n_sweeps == 3, f"fit(..., max_sweeps=3, tol=0).n_sweeps is {found.n_sweeps}"
    assert len(found.objective) == 4, f"fit(..., max_sweeps=3, tol=0) recorded {len(found.objective)} objectives, not 4"
    last = total(found.model, SMALL, 0.1)
    assert_close(found.objective[-1], last, "the last of fit(...).objective", "(3), of the model returned", rtol=RTOL)
    assert_close(found.model.mean, SMALL.values.mean(), "fit(...).model.mean", "the mean of all ratings", rtol=RTOL)
    shapes = [x.shape for x in fields(found.model)]
    assert shapes == [(5,), (5,), (5, 2), (5, 2)], f"biases and factors have the shapes {shapes}"


def test_fit_never_raises_the_objective():
    rise = np.diff(fitted().objective).max()
    assert rise <= 1e-9, f"a sweep raised the objective (3) by {rise:.3g}: {fitted().objective}"


@pytest.mark.parametrize("tol", [0.3, 0.02, 1e-3])
def test_fit_stops_when_a_sweep_takes_off_too_little(tol):
    known = simulated()[0]
    record = fit(known, 2, reg=0.1, max_sweeps=40, tol=tol, rng=np.random.default_rng(1))
    fall = 1 - record.objective[1:] / record.objective[:-1]
    call = f"fit(..., tol={tol})"
    assert record.converged, f"{call}.converged is {record.converged} after {record.n_sweeps} sweeps"
    assert fall[-1] <= tol, f"{call} stopped after a sweep that took off {fall[-1]:.3g} of the objective; see (5)"
    assert (fall[:-1] > tol).all(), f"{call} went on after a sweep that took off {fall[:-1].min():.3g}; see (5)"


def test_fit_says_if_it_has_not_converged():
    found = fit(simulated()[0], 2, reg=0.1, max_sweeps=2, tol=1e-9, rng=np.random.default_rng(1))
    assert not found.converged and found.n_sweeps == 2, f"after 2 sweeps of many: {found.converged=}, {found.n_sweeps=}"


def test_fit_has_converged_too_if_the_last_sweep_allowed_is_the_one():
    known = simulated()[0]
    needed = fit(known, 2, reg=0.1, tol=0.02, rng=np.random.default_rng(1)).n_sweeps
    found = fit(known, 2, reg=0.1, tol=0.02, max_sweeps=needed, rng=np.random.default_rng(1))
    assert found.converged and found.n_sweeps == needed, (
        f"{needed} sweeps are needed and as many allowed: by (5) it has converged; {found.converged=}, {found.n_sweeps=}"
    )


def test_fit_of_ratings_that_are_all_the_same_ends():
    found = fit(Ratings(SMALL.users, SMALL.items, np.full(8, 4.5), 5, 5), 2, reg=0.1, rng=np.random.default_rng(0))
    assert found.objective[-1] < 1e-20, f"of equal ratings fit leaves an objective of {found.objective[-1]}, not 0"
    assert found.converged and found.n_sweeps < 50, f"of equal ratings fit took {found.n_sweeps} sweeps; (5) holds at 0"


def test_fit_ends_where_every_regression_is_solved():
    known = simulated()[0].take(np.arange(300))
    model = fit(known, 1, reg=0.2, max_sweeps=100, tol=1e-8, rng=np.random.default_rng(1)).model
    again = sweep(model, known, 0.2)
    # the gap of the objective is some 1e-6 of it, and numbers feel its root
    for name, x, y in zip(("user_bias", "item_bias", "user_factors", "item_factors"), fields(again), fields(model)):
        assert_close(x, y, f"{name} after one more sweep", "(4), solved for all", rtol=0, atol=2e-2)


def test_fit_of_a_full_table_is_the_truncated_svd():
    rng = np.random.default_rng(6)
    table = (
        3 + rng.normal(size=(9, 2)) @ rng.normal(size=(2, 7)) + 0.1 * rng.normal(size=(9, 7)) + rng.normal(size=(9, 1))
    )
    users, items = np.divmod(np.arange(63), 7)
    model = fit(Ratings(users, items, table.ravel(), 9, 7), 2, reg=1e-8, max_sweeps=200, tol=1e-9, rng=rng).model
    guesses = model.predict(users, items).reshape(9, 7)
    centred = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    expected = np.sqrt((np.linalg.svd(centred, compute_uv=False)[2:] ** 2).sum())
    found = np.linalg.norm(table - guesses)
    # no penalty to speak of: the best guesses are the means of rows and columns, and the first two patterns of what is left
    assert_close(
        found, expected, "the distance of a full table from the guesses of fit(..., 2, reg=1e-8)", "SVD", rtol=1e-3
    )


def test_fit_guesses_better_than_the_baseline():
    known, held_out, _ = simulated()
    base, found = rmse(baseline(known), held_out), rmse(fitted().model, held_out)
    # 0.75 to 0.86 of it for 20 seeds of the ratings and the start
    assert found < 0.92 * base, (
        f"held-out ratings are {found:.3f} from fit's guesses, and {base:.3f} from the baseline's"
    )


def test_fit_gives_the_start_to_chance():
    a, b, c = (fit(SMALL, 2, reg=0.1, max_sweeps=1, rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(a.objective, b.objective), "two fits with the same rng differ"
    assert a.objective[0] != c.objective[0], "two fits with different rng begin with the same factors"


@pytest.mark.given
@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"n_factors": 0}, "n_factors"),
        ({"n_factors": 1.5}, "n_factors"),
        ({"reg": 0.0}, "reg"),
        ({"reg": np.nan}, "reg"),
        ({"max_sweeps": 0}, "max_sweeps"),
        ({"tol": -1.0}, "tol"),
    ],
)
def test_fit_refuses(options, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        fit(SMALL, **{"n_factors": 2, "reg": 0.1, "rng": np.random.default_rng(0)} | options)


@pytest.mark.given
@pytest.mark.parametrize(
    ("users", "items", "values", "named"),
    [
        ([0, 0], [1, 1], [3.0, 4.0], "items must not come twice"),
        ([0, 9], [1, 1], [3.0, 4.0], "users must be from 0"),
        ([0, 1], [1, -1], [3.0, 4.0], "items must be from 0"),
        ([0, 1], [1, 1], [3.0, np.nan], "values must be finite"),
        ([0, 1, 2], [1, 1], [3.0, 4.0], "users must be as many"),
        ([], [], [], "values must not be empty"),
    ],
)
def test_fit_has_no_ratings_that_contradict_themselves(users, items, values, named):
    with pytest.raises(ValueError, match=named):
        Ratings(users, items, values, n_users=3, n_items=3)


# fold_in


def test_fold_in_by_hand():
    model = Model(
        3.1, np.zeros(0), np.array([0.4, -0.2, 0.9]), np.zeros((0, 2)), np.array([[1.1, 0.3], [-0.7, 0.8], [0.2, 1.6]])
    )
    bias, factors = fold_in(model, [2, 0], [4.7, 2.4], 0.15)
    expected = ridge(np.array([[1, 0.2, 1.6], [1, 1.1, 0.3]]), np.array([0.7, -1.1]), 0.3)
    assert_close(bias, expected[0], "the bias of fold_in(model, [2, 0], [4.7, 2.4], 0.15)", "equation (4)", rtol=RTOL)
    assert_close(factors, expected[1:], "the factors of fold_in(model, [2, 0], [4.7, 2.4], 0.15)", "(4)", rtol=RTOL)


def test_fold_in_agrees_with_a_sweep():
    model = small_model()
    after = sweep(model, SMALL, 0.19)
    mine = SMALL.users == 1
    bias, factors = fold_in(model, SMALL.items[mine], SMALL.values[mine], 0.19)
    assert_close(
        np.append(bias, factors), np.append(after.user_bias[1], after.user_factors[1]), "fold_in", "sweep", rtol=RTOL
    )


def test_fold_in_of_one_rating():
    model = small_model()
    found = np.append(*fold_in(model, [4], [5.0], 0.5))
    x = np.append(1, model.item_factors[4])
    expected = x * (5.0 - 3.2 - model.item_bias[4]) / (x @ x + 0.5)
    assert_close(found, expected, "fold_in(model, [4], [5.0], 0.5)", "(4), for a single row", rtol=RTOL)


def test_fold_in_guesses_what_someone_new_will_like():
    known, held_out, _ = simulated()
    mine, theirs = known.users < 30, held_out.users < 30
    others = fit(known.take(~mine), 3, reg=0.1, max_sweeps=15, rng=np.random.default_rng(1)).model
    found, base = [], []
    for u in range(30):
        bias, factors = fold_in(others, known.items[known.users == u], known.values[known.users == u], 0.1)
        held = held_out.items[held_out.users == u]
        error = held_out.values[held_out.users == u] - others.mean - others.item_bias[held]
        found += list(error - bias - others.item_factors[held] @ factors)
        base += list(error)
    found, base = np.sqrt(np.mean(np.square(found))), np.sqrt(np.mean(np.square(base)))
    assert theirs.sum() == len(held_out.take(theirs))
    assert found < 0.95 * base, f"the error for users folded in is {found:.3f}, and without their numbers {base:.3f}"


def test_fold_in_leaves_the_model_alone():
    unchanged(fold_in, small_model(), [0, 2], [4.0, 3.0], 0.1)


@pytest.mark.given
@pytest.mark.parametrize(
    ("items", "values", "reg", "named"),
    [
        ([0, 5], [3.0, 4.0], 0.1, "items must be from 0 to 4"),
        ([2, 2], [3.0, 4.0], 0.1, "items must not come twice"),
        ([2, 3], [3.0], 0.1, "as many"),
        ([2], [np.inf], 0.1, "values"),
        ([], [], 0.1, "values"),
        ([2], [3.0], 0.0, "reg"),
    ],
)
def test_fold_in_refuses(items, values, reg, named):
    with pytest.raises(ValueError, match=named):
        fold_in(small_model(), items, values, reg)


# recommend


def guesses(numbers):
    """A model of two users whose guesses for the second are 3 + 0.2 + `numbers`."""
    traits = np.column_stack([numbers, np.zeros(len(numbers))])
    return Model(3.0, np.array([0.9, 0.2]), np.zeros(len(numbers)), np.array([[-1.0, 0.0], [1.0, 0.0]]), traits)


def test_recommend_sorts_from_the_best():
    model = guesses([0.3, -0.7, 1.9, 0.8, -0.1])
    found = recommend(model, 1, rated=[], n=3)
    assert found.tolist() == [2, 3, 0], f"recommend(model, 1, [], 3) returned {found}; the guesses say 2, 3, 0"
    found = recommend(model, 0, rated=[], n=3)
    assert found.tolist() == [1, 4, 0], (
        f"recommend(model, 0, [], 3) returned {found}; this user's tastes are the reverse"
    )


def test_recommend_counts_biases_of_items():
    model = Model(3.0, np.zeros(1), np.array([0.1, 0.9, 0.4]), np.array([[1.0]]), np.array([[0.2], [-0.7], [0.1]]))
    found = recommend(model, 0, [], 3)
    assert found.tolist() == [2, 0, 1], f"recommend returned {found}; by (1) the guesses are 3.3, 3.2, 3.5"


def test_recommend_leaves_out_what_was_rated():
    found = recommend(guesses([0.3, -0.7, 1.9, 0.8, -0.1]), 1, rated=[3, 2], n=2)
    assert found.tolist() == [0, 4], f"recommend(model, 1, rated=[3, 2], n=2) returned {found}, expected 0, 4"


def test_recommend_returns_what_is_left():
    model = guesses([0.3, -0.7, 1.9, 0.8, -0.1])
    found = recommend(model, 1, rated=[2, 0, 4], n=10)
    assert found.tolist() == [3, 1], (
        f"with three of five items rated, recommend(..., n=10) returned {found}, expected 3, 1"
    )
    assert len(recommend(model, 1, rated=range(5), n=2)) == 0, "with all items rated there is nothing to recommend"


def test_recommend_puts_the_smaller_number_first_among_equals():
    found = recommend(guesses([0.5] * 40 + [0.9] + [0.5] * 40), 1, rated=[0], n=6)
    assert found.tolist() == [40, 1, 2, 3, 4, 5], f"of equal guesses recommend returned {found}"


def test_recommend_finds_what_users_like_and_popularity_does_not():
    known, _, scores = simulated()
    counts = np.bincount(known.items, minlength=60).astype(float)
    popular = Model(0.0, np.zeros(120), counts, np.zeros((120, 0)), np.zeros((60, 0)))
    hits = {"fit": 0, "popularity": 0}
    for u in range(0, 120, 3):
        rated = known.items[known.users == u]
        liked = [i for i in np.argsort(-scores[u]) if i not in rated][:10]
        for name, model in (("fit", fitted().model), ("popularity", popular)):
            hits[name] += np.isin(recommend(model, u, rated, 10), liked).sum()
    # 1.5 to 3 times as many for 20 seeds of the ratings and the start
    assert hits["fit"] > 1.3 * hits["popularity"], f"of 400 true favourites, lists have {hits}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("user", "rated", "n", "named"),
    [
        (2, [], 1, "user"),
        (-1, [], 1, "user"),
        (0.5, [], 1, "user"),
        (0, [3], 1, "rated"),
        (0, [], 0, "n"),
        (0, [], 1.5, "n"),
    ],
)
def test_recommend_refuses(user, rated, n, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        recommend(guesses([1.0, 2.0, 3.0]), user, rated, n)


# ranking_quality


def test_ranking_quality_by_hand():
    found = ranking_quality([8, 3, 5, 1, 9], [5, 4, 8])
    top = 1 + 1 / np.log2(4)  # the first and the third place are right
    best = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    call = "ranking_quality([8, 3, 5, 1, 9], [5, 4, 8])"
    assert_close(found.precision, 0.4, f"{call}.precision", "2 of 5, by (6)", rtol=RTOL)
    assert_close(found.recall, 2 / 3, f"{call}.recall", "2 of 3, by (6)", rtol=RTOL)
    assert_close(found.ndcg, top / best, f"{call}.ndcg", "equation (6)", rtol=RTOL)


def test_ranking_quality_of_a_short_list():
    found = ranking_quality([7, 2], [2, 4, 7, 9, 1])
    assert_close(
        found.precision, 1.0, "ranking_quality([7, 2], [2, 4, 7, 9, 1]).precision", "2 of 2, by (6)", rtol=RTOL
    )
    assert_close(found.recall, 0.4, "ranking_quality([7, 2], [2, 4, 7, 9, 1]).recall", "2 of 5, by (6)", rtol=RTOL)
    assert_close(found.ndcg, 1.0, "ranking_quality([7, 2], [2, 4, 7, 9, 1]).ndcg", "no list of 2 is better", rtol=RTOL)


def test_ranking_quality_goes_by_place():
    n, late = 6, []
    for place in range(n):
        items = np.arange(10, 10 + n)
        late.append(ranking_quality(items, [10 + place]).ndcg)
    expected = 1 / np.log2(np.arange(2, n + 2))
    assert_close(np.array(late), expected, "nDCG with one right item in place 1, 2, ...", "equation (6)", rtol=RTOL)


def test_ranking_quality_of_a_wrong_list_is_0():
    found = ranking_quality([1, 2, 3], [4])
    assert (found.precision, found.recall, found.ndcg) == (0, 0, 0), (
        f"with nothing right ranking_quality returned {found}"
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("recommended", "liked", "named"),
    [
        ([], [1], "recommended"),
        ([1], [], "liked"),
        ([1, 1], [1], "recommended"),
        ([1], [2, 2], "liked"),
        ([[1]], [1], "recommended"),
    ],
)
def test_ranking_quality_refuses(recommended, liked, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        ranking_quality(recommended, liked)
