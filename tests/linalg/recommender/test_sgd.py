"""Shared tests of linalg/recommender/sgd: run on the reference, and on the learner's file.

A few steps have rounding errors of some 1e-15: RTOL leaves a wide margin for another order of operations. What goes by chance is
fitted twice from other seeds, and the tolerances say what 20 seeds gave.
"""

import time
from functools import cache

import numpy as np
import pytest

from mlpath.linalg.recommender import als
from mlpath.linalg.recommender._shared import Model, Ratings, rmse, simulated_ratings, split
from mlpath.linalg.recommender.sgd import batch_epoch, batch_step, epoch, fit, fold_in, rating_gradient, step
from mlpath.testing import assert_close

RTOL = 1e-10

# User 2 and item 3 have no ratings; user 1 and item 1 have several.
SMALL = Ratings(
    [3, 0, 1, 0, 4, 1, 3, 1], [1, 2, 4, 1, 2, 1, 4, 0], [4.3, 2.7, 3.9, 4.8, 1.6, 3.1, 2.2, 4.4], n_users=5, n_items=5
)


def small_model(n_factors=3):
    rng = np.random.default_rng(5)
    return Model(
        3.2,
        rng.normal(0, 0.5, 5),
        rng.normal(0, 0.5, 5),
        rng.normal(size=(5, n_factors)),
        rng.normal(size=(5, n_factors)),
    )


def loss(model, user, item, value, reg):
    """Equation (2)."""
    b, c, p, q = model.user_bias[user], model.item_bias[item], model.user_factors[user], model.item_factors[item]
    return (value - model.mean - b - c - p @ q) ** 2 / 2 + reg / 2 * (b**2 + c**2 + p @ p + q @ q)


def fields(model):
    return {name: getattr(model, name) for name in ("user_bias", "item_bias", "user_factors", "item_factors")}


def copied(model):
    return Model(model.mean, **{name: x.copy() for name, x in fields(model).items()})


def moved(model, ratings, rate, reg):
    """The model after (5) for all ratings at once, by a loop: each slope is that of the old model."""
    after = copied(model)
    for u, i, r in zip(ratings.users, ratings.items, ratings.values):
        b, c, p, q = model.user_bias[u], model.item_bias[i], model.user_factors[u], model.item_factors[i]
        e = r - model.mean - b - c - p @ q
        after.user_bias[u] += rate * (e - reg * b)
        after.item_bias[i] += rate * (e - reg * c)
        after.user_factors[u] += rate * (e * q - reg * p)
        after.item_factors[i] += rate * (e * p - reg * q)
    return after


def one_by_one(model, ratings, order, rate, reg):
    for j in order:
        model = moved(model, ratings.take(np.array([j])), rate, reg)
    return model


def same_model(actual, expected, call, because):
    assert_close(actual.mean, expected.mean, f"{call}.mean", "the mean stays", rtol=RTOL)
    for name, x in fields(expected).items():
        assert_close(getattr(actual, name), x, f"{call}.{name}", because, rtol=RTOL, atol=1e-14)


def unchanged(function, model, *arguments, **options):
    before = copied(model)
    function(model, *arguments, **options)
    for name, x in fields(before).items():
        assert np.array_equal(getattr(model, name), x), (
            f"{function.__name__} changed {name} of the model that it was given"
        )


@cache
def simulated():
    """Ratings to learn from and ratings held out, of 60 users and 40 items."""
    rng = np.random.default_rng(2)
    return split(simulated_ratings(rng, n_users=60, n_items=40, per_user=22.0, n_factors=2)[0], rng)


# rating_gradient


def test_rating_gradient_by_hand():
    model = Model(
        3.1,
        np.array([0.0, 0.3]),
        np.array([-0.4, 0.7]),
        np.array([[9.0, 9.0], [1.2, -0.5]]),
        np.array([[0.6, 0.8], [9.0, 9.0]]),
    )
    # the guess is 3.1 + 0.3 - 0.4 + 0.72 - 0.4 = 3.32, and the error 1.38
    found = rating_gradient(model, 1, 0, 4.7, 0.15)
    call = "rating_gradient(model, 1, 0, 4.7, 0.15)"
    assert_close(found.user_factors, np.array([-0.648, -1.179]), f"{call}.user_factors", "equation (3)", rtol=RTOL)
    assert_close(found.item_factors, np.array([-1.566, 0.81]), f"{call}.item_factors", "equation (3)", rtol=RTOL)
    assert_close(found.user_bias, -1.335, f"{call}.user_bias", "equation (3)", rtol=RTOL)
    assert_close(found.item_bias, -1.44, f"{call}.item_bias", "equation (3)", rtol=RTOL)


@pytest.mark.parametrize("reg", [0.0, 0.4])
def test_rating_gradient_is_the_slope_of_the_loss(reg):
    model, h = small_model(), 1e-5
    found = rating_gradient(model, 3, 1, 4.3, reg)
    for name, row in (("user_bias", 3), ("item_bias", 1), ("user_factors", 3), ("item_factors", 1)):
        slopes = np.atleast_1d(getattr(found, name))
        for j in range(len(slopes)):
            up, down = copied(model), copied(model)
            place = (row, j) if name.endswith("factors") else row
            getattr(up, name)[place] += h
            getattr(down, name)[place] -= h
            expected = (loss(up, 3, 1, 4.3, reg) - loss(down, 3, 1, 4.3, reg)) / (2 * h)
            call = f"rating_gradient(model, 3, 1, 4.3, {reg}).{name}, entry {j}"
            # (2) is quadratic in each number, so that only rounding is left: 1e-16 of a loss near 10, over 1e-5
            assert_close(slopes[j], expected, call, "a difference quotient of (2)", rtol=1e-7, atol=1e-8)


@pytest.mark.given
@pytest.mark.parametrize(
    ("user", "item", "value", "reg", "named"),
    [(5, 0, 3.0, 0.1, "user"), (0, -1, 3.0, 0.1, "item"), (0, 0, np.nan, 0.1, "value"), (0, 0, 3.0, -0.1, "reg")],
)
def test_rating_gradient_refuses(user, item, value, reg, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        rating_gradient(small_model(), user, item, value, reg)


# step


def test_step_by_hand():
    model = Model(
        3.1,
        np.array([0.0, 0.3]),
        np.array([-0.4, 0.7]),
        np.array([[9.0, 9.0], [1.2, -0.5]]),
        np.array([[0.6, 0.8], [9.0, 9.0]]),
    )
    found = step(model, 1, 0, 4.7, rate=0.2, reg=0.15)
    call = "step(model, 1, 0, 4.7, rate=0.2, reg=0.15)"
    assert_close(found.user_bias, np.array([0.0, 0.567]), f"{call}.user_bias", "equation (4)", rtol=RTOL)
    assert_close(found.item_bias, np.array([-0.112, 0.7]), f"{call}.item_bias", "equation (4)", rtol=RTOL)
    expected = np.array([[9.0, 9.0], [1.3296, -0.2642]])
    assert_close(found.user_factors, expected, f"{call}.user_factors", "equation (4)", rtol=RTOL)
    expected = np.array([[0.9132, 0.638], [9.0, 9.0]])
    assert_close(found.item_factors, expected, f"{call}.item_factors", "(4), with the old user", rtol=RTOL)
    assert found.mean == 3.1, f"{call}.mean is {found.mean}; the mean stays"


def test_step_goes_down():
    model = small_model()
    for u, i, r in zip(SMALL.users, SMALL.items, SMALL.values):
        before, after = loss(model, u, i, r, 0.1), loss(step(model, u, i, r, rate=1e-3, reg=0.1), u, i, r, 0.1)
        assert after < before, f"a step with a rate of 0.001 raised the loss (2) of its rating from {before} to {after}"


def test_step_leaves_the_model_alone():
    unchanged(step, small_model(), 1, 2, 4.0, rate=0.1, reg=0.1)


@pytest.mark.given
@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan])
def test_step_refuses(rate):
    with pytest.raises(ValueError, match="rate"):
        step(small_model(), 0, 0, 3.0, rate=rate, reg=0.1)


# epoch


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5, 6, 7], [5, 7, 2, 0, 6, 1, 4, 3]])
def test_epoch_takes_one_rating_after_another(order):
    model = small_model()
    found = epoch(model, SMALL, np.array(order), rate=0.13, reg=0.21)
    expected = one_by_one(model, SMALL, order, 0.13, 0.21)
    same_model(found, expected, f"epoch(model, ratings, {order}, rate=0.13, reg=0.21)", "(4) for each rating in turn")


def test_epoch_without_penalty():
    model, order = small_model(1), np.arange(8)[::-1]
    found = epoch(model, SMALL, order, rate=0.05, reg=0.0)
    same_model(found, one_by_one(model, SMALL, order, 0.05, 0.0), "epoch(..., rate=0.05, reg=0)", "(4) for each rating")


def test_epoch_leaves_its_arguments_alone():
    order = np.array([5, 7, 2, 0, 6, 1, 4, 3])
    unchanged(epoch, small_model(), SMALL, order, rate=0.1, reg=0.1)
    assert order.tolist() == [5, 7, 2, 0, 6, 1, 4, 3], "epoch changed the order that it was given"


def test_epoch_does_not_copy_the_model_for_each_rating():
    rng = np.random.default_rng(0)
    model = Model(3.0, np.zeros(200_000), np.zeros(5), np.zeros((200_000, 20)), np.ones((5, 20)))
    ratings = Ratings(np.arange(200), rng.integers(5, size=200), np.full(200, 4.0), 200_000, 5)
    few = ratings.take(np.arange(1))

    def seconds(some):
        """The lesser of two measurements."""
        found = []
        for _ in range(2):
            began = time.process_time()
            epoch(model, some, np.arange(len(some)), rate=0.1, reg=0.1)
            found.append(time.process_time() - began)
        return min(found)

    times = seconds(ratings) / max(seconds(few), 1e-4)
    # Both copy 32 MB once, which takes longer than all the steps: 1 to 2 times. A copy for each rating: 50 to 200 times.
    assert times < 10, (
        f"in a model of 200,000 users an epoch of 200 ratings took {times:.0f} times as long as one of a single rating: "
        "copy the model once, not for each rating"
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("ratings", "order", "options", "named"),
    [
        (SMALL, [0, 1, 2], {}, "order"),
        (SMALL, [0, 0, 1, 2, 3, 4, 5, 6], {}, "order"),
        (SMALL, [8, 0, 1, 2, 3, 4, 5, 6], {}, "order"),
        (SMALL, np.arange(8), {"rate": 0.0}, "rate"),
        (SMALL, np.arange(8), {"reg": -1.0}, "reg"),
        (Ratings([0], [0], [1.0], n_users=6, n_items=5), [0], {}, "ratings"),
    ],
)
def test_epoch_refuses(ratings, order, options, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        epoch(small_model(), ratings, np.array(order), **{"rate": 0.1, "reg": 0.1} | options)


# batch_step


def test_batch_step_of_one_rating_is_a_step():
    model = small_model()
    found = batch_step(model, SMALL.take(np.array([2])), rate=0.17, reg=0.08)
    expected = moved(model, SMALL.take(np.array([2])), 0.17, 0.08)
    same_model(found, expected, "batch_step(model, one rating, rate=0.17, reg=0.08)", "equation (4)")


@pytest.mark.parametrize("n_factors", [1, 3])
def test_batch_step_adds_up_what_falls_on_the_same_user_or_item(n_factors):
    model = small_model(n_factors)
    found = batch_step(model, SMALL, rate=0.17, reg=0.08)
    same_model(
        found, moved(model, SMALL, 0.17, 0.08), "batch_step(model, ratings, rate=0.17, reg=0.08)", "equation (5)"
    )


def test_batch_step_goes_down_the_objective():
    model, h = small_model(), 1e-6
    after = batch_step(model, SMALL, rate=h, reg=0.3)
    fall = als.objective(model, SMALL, 0.3) - als.objective(after, SMALL, 0.3)
    squares = sum(float(np.sum(((getattr(after, name) - x) / h) ** 2)) for name, x in fields(model).items())
    # the step is half the slope of the objective: it falls by 2 h |step / h|^2, to first order
    assert_close(
        fall, 2 * h * squares, "the fall of the objective after batch_step(..., rate=1e-6)", "(2) and (5)", rtol=1e-4
    )


def test_batch_step_leaves_the_model_alone():
    unchanged(batch_step, small_model(), SMALL, rate=0.1, reg=0.1)


@pytest.mark.given
@pytest.mark.parametrize(
    ("batch", "options", "named"),
    [
        (SMALL, {"rate": -1.0}, "rate"),
        (SMALL, {"reg": np.inf}, "reg"),
        (Ratings([0], [0], [1.0], n_users=5, n_items=6), {}, "batch"),
    ],
)
def test_batch_step_refuses(batch, options, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        batch_step(small_model(), batch, **{"rate": 0.1, "reg": 0.1} | options)


# batch_epoch


@pytest.mark.parametrize("batch_size", [1, 3, 8, 20])
def test_batch_epoch_cuts_the_order_into_batches(batch_size):
    model, order = small_model(), np.array([5, 7, 2, 0, 6, 1, 4, 3])
    found = batch_epoch(model, SMALL, order, batch_size, rate=0.11, reg=0.09)
    expected = model
    for start in range(0, 8, batch_size):
        expected = moved(expected, SMALL.take(order[start : start + batch_size]), 0.11, 0.09)
    same_model(
        found, expected, f"batch_epoch(model, ratings, order, {batch_size}, rate=0.11, reg=0.09)", "(5) for each batch"
    )


def test_batch_epoch_of_single_ratings_is_an_epoch():
    known = simulated()[0].take(np.arange(0, 1000, 8))
    model = als.fit(known, 2, reg=0.1, max_sweeps=1, rng=np.random.default_rng(0)).model
    order = np.random.default_rng(1).permutation(len(known))
    found = batch_epoch(model, known, order, 1, rate=0.05, reg=0.1)
    expected = epoch(model, known, order, rate=0.05, reg=0.1)
    for name, x in fields(expected).items():
        # over a hundred steps, each with rounding of 1e-16, on slopes that forget it
        assert_close(getattr(found, name), x, f"batch_epoch(..., 1, ...).{name}", "epoch(...)", rtol=1e-8, atol=1e-10)


def test_batch_epoch_leaves_its_arguments_alone():
    order = np.array([5, 7, 2, 0, 6, 1, 4, 3])
    unchanged(batch_epoch, small_model(), SMALL, order, 3, rate=0.1, reg=0.1)
    assert order.tolist() == [5, 7, 2, 0, 6, 1, 4, 3], "batch_epoch changed the order that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("order", "batch_size", "named"),
    [([0, 1, 2], 2, "order"), (np.arange(8), 0, "batch_size"), (np.arange(8), 2.5, "batch_size")],
)
def test_batch_epoch_refuses(order, batch_size, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        batch_epoch(small_model(), SMALL, np.array(order), batch_size, rate=0.1, reg=0.1)


# fit

OPTIONS = {"reg": 0.1, "rate": 0.1, "decay": 0.07, "batch_size": 60}


@cache
def long_fit():
    return fit(*simulated(), 2, **OPTIONS, max_epochs=30, patience=30, rng=np.random.default_rng(3))


def test_fit_begins_with_the_baseline_and_small_factors():
    known, held_out = simulated()
    found = fit(known, held_out, 3, reg=0.1, rate=1e-12, max_epochs=1, batch_size=1000, rng=np.random.default_rng(0))
    model = found.model
    base = als.baseline(known)
    # with a rate of 1e-12 the model has not moved
    assert_close(
        model.user_bias, base.user_bias, "fit(..., rate=1e-12).model.user_bias", "the baseline's", rtol=0, atol=1e-9
    )
    assert_close(
        model.item_bias, base.item_bias, "fit(..., rate=1e-12).model.item_bias", "the baseline's", rtol=0, atol=1e-9
    )
    assert_close(model.mean, base.mean, "fit(..., rate=1e-12).model.mean", "the mean of known ratings", rtol=RTOL)
    for name, n in (("user_factors", 60), ("item_factors", 40)):
        x = getattr(model, name)
        assert x.shape == (n, 3), f"fit(..., 3, ...).model.{name} has shape {x.shape}, not {(n, 3)}"
        # 120 normal numbers or more: six standard errors of their standard deviation are 40 %, of their mean 0.055
        assert 0.06 < x.std() < 0.14, f"{name} begin with a standard deviation of {x.std():.3f}, not 0.1"
        assert abs(x.mean()) < 0.055, f"{name} begin with a mean of {x.mean():.3f}, not 0"


def test_fit_records_what_it_reaches():
    known, held_out = simulated()
    found = long_fit()
    assert len(found.held_out_rmse) == len(found.objective) == 31, (
        f"fit(..., max_epochs=30) recorded {len(found.held_out_rmse)} errors and {len(found.objective)} objectives, not 31"
    )
    best = found.held_out_rmse[found.best_epoch]
    assert_close(best, found.held_out_rmse.min(), "held_out_rmse[best_epoch]", "the least of all", rtol=RTOL)
    assert_close(rmse(found.model, held_out), best, "the error of fit(...).model", "that of its best epoch", rtol=RTOL)
    loss = als.objective(found.model, known, 0.1)
    assert_close(
        loss, found.objective[found.best_epoch], "the objective of fit(...).model", "that of its best epoch", rtol=RTOL
    )
    assert not found.stopped, "with a patience as long as the epochs, fit says that it stopped early"


def test_fit_comes_to_what_alternating_least_squares_finds():
    known, held_out = simulated()
    solved = als.fit(known, 2, reg=0.1, max_sweeps=100, tol=1e-5, rng=np.random.default_rng(1))
    ratio = long_fit().objective[-1] / solved.objective[-1]
    # 1.002 to 1.004 for 20 seeds of the start and the orders, and the error 0.997 to 1.009 times
    assert 0.999 < ratio < 1.02, f"after 30 epochs the objective is {ratio:.4f} times that of alternating least squares"
    ratio = long_fit().held_out_rmse[-1] / rmse(solved.model, held_out)
    assert 0.98 < ratio < 1.02, (
        f"after 30 epochs the held-out error is {ratio:.4f} times that of alternating least squares"
    )


def test_fit_guesses_better_than_the_baseline():
    known, held_out = simulated()
    found, base = long_fit().held_out_rmse.min(), rmse(als.baseline(known), held_out)
    assert found < 0.96 * base, (
        f"held-out ratings are {found:.3f} from fit's guesses, and {base:.3f} from the baseline's"
    )


@pytest.mark.parametrize("patience", [1, 4])
def test_fit_stops_when_patience_ends(patience):
    options = {"reg": 0.0, "rate": 0.1, "batch_size": 40, "max_epochs": 60}  # without penalty it soon learns the noise
    found = fit(*simulated(), 5, **options, patience=patience, rng=np.random.default_rng(0))
    n_epochs = len(found.held_out_rmse) - 1
    call = f"fit(..., patience={patience})"
    assert found.stopped, f"{call}.stopped is {found.stopped} after {n_epochs} epochs"
    assert n_epochs == found.best_epoch + patience, (
        f"{call} made {n_epochs} epochs, though the best was epoch {found.best_epoch}"
    )
    running = np.minimum.accumulate(found.held_out_rmse)
    since = [n - int(np.argmin(found.held_out_rmse[: n + 1])) for n in range(n_epochs)]
    assert max(since) < patience, f"{call} went on when the best error was {max(since)} epochs old: {running}"
    assert_close(
        rmse(found.model, simulated()[1]), running[-1], f"the error of {call}.model", "the best of all", rtol=RTOL
    )


@pytest.mark.parametrize(("max_epochs", "n_epochs", "stopped"), [(2, 2, False), (3, 3, True), (9, 3, True)])
def test_fit_loses_patience_with_errors_that_stay_the_same(max_epochs, n_epochs, stopped):
    # a rate of 1e-300 is lost in rounding, so that nothing moves, and no epoch is better than the start
    options = {"reg": 0.1, "rate": 1e-300, "batch_size": 500, "max_epochs": max_epochs, "patience": 3}
    found = fit(*simulated(), 2, **options, rng=np.random.default_rng(0))
    call = f"fit(..., max_epochs={max_epochs}, patience=3) with errors that stay the same"
    assert found.best_epoch == 0, f"{call}: best_epoch is {found.best_epoch}, though none is below the start's"
    assert len(found.held_out_rmse) - 1 == n_epochs, (
        f"{call} made {len(found.held_out_rmse) - 1} epochs, not {n_epochs}"
    )
    assert found.stopped == stopped, f"{call}: stopped is {found.stopped}; patience ends after 3 epochs"


def test_fit_lets_the_rate_fall():
    known, held_out = simulated()
    steady = fit(
        known, held_out, 2, reg=0.2, rate=0.1, batch_size=40, max_epochs=4, patience=9, rng=np.random.default_rng(0)
    )
    braked = fit(
        known,
        held_out,
        2,
        reg=0.2,
        rate=0.1,
        decay=1e9,
        batch_size=40,
        max_epochs=4,
        patience=9,
        rng=np.random.default_rng(0),
    )
    assert_close(
        braked.objective[1],
        steady.objective[1],
        "the objective after the first epoch, with decay=1e9",
        "(6) with t = 0",
    )
    change = np.abs(np.diff(braked.objective[1:])).max() / braked.objective[1]
    assert change < 1e-6, f"with decay=1e9 the objective still moved by {change:.3g} after the first epoch; see (6)"


def test_fit_follows_the_schedule():
    # One rating, so that no order matters: the model after three epochs with the rates 0.2, 0.2 / 1.5 and 0.2 / 2.
    one, other = Ratings([0], [0], [4.0], n_users=1, n_items=2), Ratings([0], [1], [2.5], n_users=1, n_items=2)
    found = fit(one, other, 2, reg=0.1, rate=0.2, decay=0.5, max_epochs=3, patience=9, rng=np.random.default_rng(0))
    start = fit(
        one, other, 2, reg=0.1, rate=1e-13, decay=0.5, max_epochs=1, patience=9, rng=np.random.default_rng(0)
    ).model
    model, record = start, [als.objective(start, one, 0.1)]
    for rate in (0.2, 0.2 / 1.5, 0.2 / 2):
        model = moved(model, one, rate, 0.1)
        record.append(als.objective(model, one, 0.1))
    call = "fit(one rating, ..., rate=0.2, decay=0.5, max_epochs=3).objective"
    assert_close(found.objective, np.array(record), call, "(4) with the rates of (6)", rtol=1e-7, atol=1e-12)


def test_fit_takes_the_ratings_in_an_order_by_chance():
    known, held_out = simulated()
    a, b, c = (
        fit(known, held_out, 2, **OPTIONS, max_epochs=1, rng=np.random.default_rng(seed)).objective[-1]
        for seed in (0, 0, 1)
    )
    assert a == b, "two fits with the same rng differ"
    assert a != c, "two fits with different rng are the same"
    # a table in which users come one after another: taken in this order, the last batches would have the last users alone
    rng = np.random.default_rng(0)
    start = fit(known, held_out, 2, reg=0.2, rate=1e-13, batch_size=40, max_epochs=1, rng=rng).model
    found = fit(
        known, held_out, 2, reg=0.2, rate=0.1, batch_size=40, max_epochs=1, patience=9, rng=np.random.default_rng(0)
    )
    for order in (np.arange(len(known)), np.arange(len(known))[::-1]):
        plain = als.objective(batch_epoch(start, known, order, 40, rate=0.1, reg=0.2), known, 0.2)
        assert abs(plain / found.objective[1] - 1) > 1e-9, "fit took the ratings in the order in which they came"


def test_fit_draws_each_epoch_anew():
    known, held_out = simulated()
    seen = []

    class Watched(np.random.Generator):
        def permutation(self, *args, **options):
            seen.append(super().permutation(*args, **options))
            return seen[-1]

        def shuffle(self, x, *args, **options):
            super().shuffle(x, *args, **options)
            seen.append(np.array(x))

    fit(known, held_out, 2, **OPTIONS, max_epochs=3, patience=9, rng=Watched(np.random.PCG64(0)))
    if len(seen) == 1:
        raise AssertionError("fit drew one order for three epochs; each has its own")


def test_fit_says_when_it_diverges():
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="rate"):
        fit(
            *simulated(),
            2,
            reg=0.1,
            rate=30.0,
            batch_size=40,
            max_epochs=200,
            patience=200,
            rng=np.random.default_rng(0),
        )


@pytest.mark.given
@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"n_factors": 0}, "n_factors"),
        ({"batch_size": 0}, "batch_size"),
        ({"max_epochs": 0.5}, "max_epochs"),
        ({"patience": 0}, "patience"),
        ({"rate": 0.0}, "rate"),
        ({"reg": -0.1}, "reg"),
        ({"decay": np.inf}, "decay"),
        ({"held_out": Ratings([0], [0], [1.0], n_users=4, n_items=5)}, "held_out"),
    ],
)
def test_fit_refuses(options, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        fit(
            SMALL,
            **{"held_out": SMALL, "n_factors": 2, "reg": 0.1, "rate": 0.1, "rng": np.random.default_rng(0)} | options,
        )


# fold_in


def test_fold_in_of_one_rating_follows_the_schedule():
    model = small_model(2)
    found = np.append(
        *fold_in(model, [4], [5.0], reg=0.3, rate=0.2, decay=0.5, n_epochs=3, rng=np.random.default_rng(0))
    )
    x, y = np.append(1, model.item_factors[4]), 5.0 - 3.2 - model.item_bias[4]
    theta = np.zeros(3)
    for rate in (0.2, 0.2 / 1.5, 0.2 / 2):
        theta = theta + rate * ((y - x @ theta) * x - 0.3 * theta)
    call = "fold_in(model, [4], [5.0], reg=0.3, rate=0.2, decay=0.5, n_epochs=3)"
    assert_close(found, theta, call, "(4), three times from zeros, with the rates of (6)", rtol=RTOL)


def test_fold_in_of_two_ratings_takes_one_after_the_other():
    model = small_model(2)
    found = np.append(*fold_in(model, [4, 1], [5.0, 2.6], reg=0.3, rate=0.2, n_epochs=1, rng=np.random.default_rng(0)))
    ways = []
    for order in ([4, 1], [1, 4]):
        theta = np.zeros(3)
        for i in order:
            x, y = np.append(1, model.item_factors[i]), {4: 5.0, 1: 2.6}[i] - 3.2 - model.item_bias[i]
            theta = theta + 0.2 * ((y - x @ theta) * x - 0.3 * theta)
        ways.append(theta)
    nearest = min(ways, key=lambda theta: np.abs(theta - found).max())
    call = "fold_in(model, [4, 1], [5.0, 2.6], reg=0.3, rate=0.2, n_epochs=1)"
    assert_close(found, nearest, call, "(4) for one rating and then the other, in one of the two orders", rtol=RTOL)


def test_fold_in_comes_to_the_ridge_regression():
    known = simulated()[0]
    model = als.fit(known, 2, reg=0.1, max_sweeps=10, rng=np.random.default_rng(0)).model
    for user in (0, 7):
        mine = known.users == user
        found = fold_in(model, known.items[mine], known.values[mine], reg=0.2, rng=np.random.default_rng(1))
        expected = als.fold_in(model, known.items[mine], known.values[mine], 0.2)
        call = f"fold_in(model, ...) of {mine.sum()} ratings"
        # the rate ends at 0.01: the numbers tremble by some 0.003
        assert_close(found[0], expected[0], f"the bias of {call}", "ridge regression", rtol=0, atol=0.03)
        assert_close(found[1], expected[1], f"the factors of {call}", "ridge regression", rtol=0, atol=0.03)


def test_fold_in_serves_for_recommendations():
    known = simulated()[0]
    model = als.fit(known, 2, reg=0.1, max_sweeps=10, rng=np.random.default_rng(0)).model
    mine = known.users == 7
    bias, factors = fold_in(model, known.items[mine], known.values[mine], reg=0.1, rng=np.random.default_rng(1))
    someone = Model(model.mean, np.array([bias]), model.item_bias, factors[None], model.item_factors)
    found = als.recommend(someone, 0, known.items[mine], 5)
    expected = als.recommend(model, 7, known.items[mine], 8)
    missing = set(found[:3].tolist()) - set(expected.tolist())
    assert not missing, (
        f"the first three recommendations for user 7, folded in, are {found[:3]}; as he was fitted {expected}"
    )


def test_fold_in_leaves_the_model_alone():
    unchanged(fold_in, small_model(), [0, 2], [4.0, 3.0], reg=0.1, rng=np.random.default_rng(0))


@pytest.mark.given
@pytest.mark.parametrize(
    ("items", "values", "options", "named"),
    [
        ([0, 5], [3.0, 4.0], {}, "items must be from 0 to 4"),
        ([2, 2], [3.0, 4.0], {}, "items must not come twice"),
        ([], [], {}, "values"),
        ([2], [3.0], {"rate": 0.0}, "rate"),
        ([2], [3.0], {"reg": -0.1}, "reg"),
        ([2], [3.0], {"decay": -0.1}, "decay"),
        ([2], [3.0], {"n_epochs": 0}, "n_epochs"),
    ],
)
def test_fold_in_refuses(items, values, options, named):
    with pytest.raises(ValueError, match=named):
        fold_in(small_model(), items, values, **{"reg": 0.1, "rng": np.random.default_rng(0)} | options)
