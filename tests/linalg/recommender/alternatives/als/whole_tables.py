"""With tables of users by items and a mask of what is known; every regression by least squares of an augmented system."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array
from mlpath.linalg.recommender._shared import Model, Ratings, ids


@dataclass(frozen=True)
class Fit:
    model: Model
    objective: np.ndarray
    n_sweeps: int
    converged: bool


@dataclass(frozen=True)
class RankingQuality:
    precision: float
    recall: float
    ndcg: float


def _number(value, name, least):
    if not (value > 0 or (value == 0 and least == 0)) or value == math.inf:
        raise ValueError(f"{name} ")


def _count(value, name):
    if value < 1 or int(value) != value:
        raise ValueError(f"{name} ")


def _match(model, ratings):
    if model.user_bias.shape != (ratings.n_users,) or model.item_bias.shape != (ratings.n_items,):
        raise ValueError("model ")


def _tables(ratings):
    table, mask = np.zeros((ratings.n_users, ratings.n_items)), np.zeros((ratings.n_users, ratings.n_items))
    table[ratings.users, ratings.items] = ratings.values
    mask[ratings.users, ratings.items] = 1
    return table, mask


def _over(sums, counts):
    return np.array([s / c if c else 0.0 for s, c in zip(sums, counts)])


def baseline(ratings, *, item_damping=10.0, user_damping=5.0):
    _number(item_damping, "item_damping", 0)
    _number(user_damping, "user_damping", 0)
    table, mask = _tables(ratings)
    mean = table.sum() / mask.sum()
    off = (table - mean) * mask
    item_bias = _over(off.sum(axis=0), mask.sum(axis=0) + item_damping)
    user_bias = _over((off - item_bias * mask).sum(axis=1), mask.sum(axis=1) + user_damping)
    return Model(mean, user_bias, item_bias, np.empty((ratings.n_users, 0)), np.empty((ratings.n_items, 0)))


def objective(model, ratings, reg):
    _match(model, ratings)
    _number(reg, "reg", 0)
    table, mask = _tables(ratings)
    guesses = model.mean + model.user_bias[:, None] + model.item_bias + model.user_factors @ model.item_factors.T
    users = np.column_stack([model.user_bias, model.user_factors])
    items = np.column_stack([model.item_bias, model.item_factors])
    penalty = mask.sum(axis=1) @ (users**2).sum(axis=1) + mask.sum(axis=0) @ (items**2).sum(axis=1)
    return float(np.linalg.norm((table - guesses)[mask > 0]) ** 2 + reg * penalty)


def ridge_by_group(groups, n_groups, x, y, reg):
    groups, x, y = ids(groups, "groups", n_groups), real_array(x, "x", ndim=2), real_array(y, "y", ndim=1)
    if len(groups) != len(x):
        raise ValueError("groups ")
    if len(y) != len(x):
        raise ValueError("y ")
    _number(reg, "reg", 1)
    found = np.zeros((n_groups, x.shape[1]))
    for group in set(groups.tolist()):
        mine = groups == group
        below = math.sqrt(reg * mine.sum()) * np.eye(x.shape[1])
        targets = np.concatenate([y[mine], np.zeros(x.shape[1])])
        found[group] = np.linalg.lstsq(np.vstack([x[mine], below]), targets, rcond=None)[0]
    return found


def _half(table, mask, others, reg):
    """The best numbers of each row of a table of what is left, for others of which the first number counts plainly."""
    rows, columns = np.nonzero(mask)
    x = np.insert(others[columns, 1:], 0, 1.0, axis=1)
    return ridge_by_group(rows, len(table), x, table[rows, columns] - others[columns, 0], reg)


def sweep(model, ratings, reg):
    _match(model, ratings)
    _number(reg, "reg", 1)
    table, mask = _tables(ratings)
    items = np.column_stack([model.item_bias, model.item_factors])
    users = _half(table - model.mean, mask, items, reg)
    items = _half(table.T - model.mean, mask.T, users, reg)
    return Model(model.mean, users[:, 0], items[:, 0], users[:, 1:], items[:, 1:])


def fit(ratings, n_factors, *, reg, max_sweeps=50, tol=1e-4, rng):
    _count(n_factors, "n_factors")
    _count(max_sweeps, "max_sweeps")
    _number(reg, "reg", 1)
    _number(tol, "tol", 0)
    start = baseline(ratings)
    factors = 0.1 * rng.standard_normal((n_factors, ratings.n_items)).T
    model = Model(start.mean, start.user_bias, start.item_bias, np.zeros((ratings.n_users, n_factors)), factors)
    record = [objective(model, ratings, reg)]
    for n in range(1, max_sweeps + 1):
        model = sweep(model, ratings, reg)
        record.append(objective(model, ratings, reg))
        if record[-2] - record[-1] <= tol * record[-2]:
            return Fit(model, np.array(record), n, True)
    return Fit(model, np.array(record), max_sweeps, False)


def fold_in(model, items, values, reg):
    _number(reg, "reg", 1)
    known = Ratings([0] * len(items), items, values, n_users=1, n_items=len(model.item_bias))
    table, mask = _tables(known)
    found = _half(table - model.mean, mask, np.column_stack([model.item_bias, model.item_factors]), reg)[0]
    return float(found[0]), found[1:]


def recommend(model, user, rated, n):
    ids([user], "user", len(model.user_bias))
    rated = set(ids(rated, "rated", len(model.item_bias)).tolist())
    _count(n, "n")
    left = [i for i in range(len(model.item_bias)) if i not in rated]
    best = sorted(left, key=lambda i: (-(model.item_bias[i] + model.user_factors[user] @ model.item_factors[i]), i))
    return np.array(best[:n], dtype=int)


def ranking_quality(recommended, liked):
    for name, items in (("recommended", recommended), ("liked", liked)):
        items = real_array(items, name, ndim=1).tolist()
        if len(set(items)) < len(items):
            raise ValueError(f"{name} ")
    right, liked = 0, set(np.asarray(liked).tolist())
    gain = best = 0.0
    for place, item in enumerate(np.asarray(recommended).tolist(), start=1):
        weight = math.log(2) / math.log(place + 1)
        if item in liked:
            right += 1
            gain += weight
        if place <= len(liked):
            best += weight
    return RankingQuality(right / len(recommended), right / len(liked), gain / best)
