"""No production library of recommenders is among the peers. Beside one sweep stands the same sweep by scikit-learn's `Ridge`, one
fit for each user and item. Both must come to the same objective, to 1e-9.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.linear_model import Ridge

from mlpath.linalg.recommender._shared import Model, Ratings, simulated_ratings
from mlpath.linalg.recommender.als import baseline, objective, sweep
from mlpath.workbench.bench import Case, close

REG = 0.1


def by_ridge(groups: np.ndarray, n_groups: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    found = np.zeros((n_groups, x.shape[1]))
    order = np.argsort(groups, kind="stable")
    for group, rows in enumerate(np.split(order, np.cumsum(np.bincount(groups, minlength=n_groups))[:-1])):
        if len(rows):
            found[group] = Ridge(alpha=REG * len(rows), fit_intercept=False).fit(x[rows], y[rows]).coef_
    return found


def ours(model: Model, ratings: Ratings) -> float:
    return objective(sweep(model, ratings, REG), ratings, REG)


def peer(model: Model, ratings: Ratings) -> float:
    users, items, above = ratings.users, ratings.items, ratings.values - model.mean
    x = np.column_stack([np.ones(len(items)), model.item_factors[items]])
    new = by_ridge(users, ratings.n_users, x, above - model.item_bias[items])
    x = np.column_stack([np.ones(len(items)), new[users, 1:]])
    found = by_ridge(items, ratings.n_items, x, above - new[users, 0])
    after = Model(model.mean, new[:, 0], found[:, 0], new[:, 1:], found[:, 1:])
    return objective(after, ratings, REG)


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    ratings, _ = simulated_ratings(rng, n_users=1000, n_items=400, per_user=40.0)
    start = baseline(ratings)
    for n_factors in (3, 20):
        factors = rng.normal(0, 0.1, (400, n_factors))
        model = Model(start.mean, start.user_bias, start.item_bias, np.zeros((1000, n_factors)), factors)
        yield Case(
            f"sweep, {len(ratings):,} ratings of 400 items by 1,000 users, {n_factors} factors",
            ours=partial(ours, model, ratings),
            peer_name="sklearn Ridge for each",
            peer=partial(peer, model, ratings),
            check=close(1e-9),
            limit=1.2,
        )
