"""All numbers in one long vector, with a place for each; batches by sums over sorted indices; Python lists in the loop."""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array
from mlpath.linalg.recommender._shared import Model, Ratings, ids, rmse
from mlpath.linalg.recommender.als import baseline, objective


@dataclass(frozen=True)
class Gradient:
    user_bias: float
    item_bias: float
    user_factors: np.ndarray
    item_factors: np.ndarray


@dataclass(frozen=True)
class Fit:
    model: Model
    held_out_rmse: np.ndarray
    objective: np.ndarray
    best_epoch: int
    stopped: bool


def _number(value, name, least=0):
    if not (value > 0 or (value == 0 and least == 0)) or value == np.inf:
        raise ValueError(f"{name} ")


def _count(value, name):
    if value < 1 or int(value) != value:
        raise ValueError(f"{name} ")


def _match(model, ratings, name):
    if (len(model.user_bias), len(model.item_bias)) != (ratings.n_users, ratings.n_items):
        raise ValueError(f"{name} ")


def _tables(model):
    """Rows (bias, 1, factors) of users and (1, bias, factors) of items, so that a guess is the mean and one product."""
    m, n = len(model.user_bias), len(model.item_bias)
    users = np.column_stack([model.user_bias, np.ones(m), model.user_factors])
    items = np.column_stack([np.ones(n), model.item_bias, model.item_factors])
    return users, items


def _model(mean, users, items):
    return Model(mean, users[:, 0].copy(), items[:, 1].copy(), users[:, 2:].copy(), items[:, 2:].copy())


def _moves(x, y, above, reg):
    """What a rating adds to the rows x and y of its user and item, for a rate of 1."""
    error = above - np.sum(x * y, axis=-1, keepdims=True)
    for_user, for_item = error * y - reg * x, error * x - reg * y
    for_user[..., 1], for_item[..., 0] = 0, 0  # the ones stay
    return for_user, for_item


def rating_gradient(model, user, item, value, reg):
    ids([user], "user", len(model.user_bias))
    ids([item], "item", len(model.item_bias))
    real_array([value], "value", ndim=1)
    _number(reg, "reg")
    users, items = _tables(model)
    a, b = _moves(users[user], items[item], np.array([value - model.mean]), reg)
    return Gradient(float(-a[0]), float(-b[1]), -a[2:], -b[2:])


def step(model, user, item, value, *, rate, reg):
    _number(rate, "rate", 1)
    one = Ratings([user], [item], [value], len(model.user_bias), len(model.item_bias))
    return batch_step(model, one, rate=rate, reg=reg)


def epoch(model, ratings, order, *, rate, reg):
    _match(model, ratings, "ratings")
    _number(rate, "rate", 1)
    _number(reg, "reg")
    order = ids(order, "order", len(ratings))
    if sorted(order.tolist()) != list(range(len(ratings))):
        raise ValueError("order ")
    users, items = _tables(model)
    for j in order.tolist():
        u, i = ratings.users[j], ratings.items[j]
        a, b = _moves(users[u], items[i], ratings.values[j : j + 1] - model.mean, reg)
        users[u] += rate * a
        items[i] += rate * b
    return _model(model.mean, users, items)


def batch_step(model, batch, *, rate, reg):
    _match(model, batch, "batch")
    _number(rate, "rate", 1)
    _number(reg, "reg")
    users, items = _tables(model)
    for_users, for_items = _moves(users[batch.users], items[batch.items], (batch.values - model.mean)[:, None], reg)
    for table, who, moves in ((users, batch.users, for_users), (items, batch.items, for_items)):
        order = np.argsort(who, kind="stable")
        names, starts = np.unique(who[order], return_index=True)
        table[names] += rate * np.add.reduceat(moves[order], starts, axis=0)
    return _model(model.mean, users, items)


def batch_epoch(model, ratings, order, batch_size, *, rate, reg):
    _match(model, ratings, "ratings")
    order = ids(order, "order", len(ratings))
    if sorted(order.tolist()) != list(range(len(ratings))):
        raise ValueError("order ")
    _count(batch_size, "batch_size")
    while len(order):
        model = batch_step(model, ratings.take(order[:batch_size]), rate=rate, reg=reg)
        order = order[batch_size:]
    return model


def fit(known, held_out, n_factors, *, reg, rate, decay=0.0, batch_size=1, max_epochs=50, patience=5, rng):
    for value, name in (
        (n_factors, "n_factors"),
        (batch_size, "batch_size"),
        (max_epochs, "max_epochs"),
        (patience, "patience"),
    ):
        _count(value, name)
    _number(rate, "rate", 1)
    _number(reg, "reg")
    _number(decay, "decay")
    base = baseline(known)
    _match(base, held_out, "held_out")
    q = rng.standard_normal((known.n_items, n_factors)) / 10
    p = rng.standard_normal((known.n_users, n_factors)) / 10
    models = [Model(base.mean, base.user_bias, base.item_bias, p, q)]
    errors = [rmse(models[0], held_out)]
    for t in range(max_epochs):
        order = np.arange(len(known))
        rng.shuffle(order)
        models.append(batch_epoch(models[-1], known, order, batch_size, rate=rate / (1 + decay * t), reg=reg))
        errors.append(rmse(models[-1], held_out))
        if np.isnan(errors[-1]) or errors[-1] == np.inf:
            raise FloatingPointError("rate")
        if t + 1 - int(np.argmin(errors)) == patience:
            break
    best = int(np.argmin(errors))
    losses = np.array([objective(model, known, reg) for model in models])
    return Fit(models[best], np.array(errors), losses, best, len(errors) - 1 - best == patience)


def fold_in(model, items, values, *, reg, rate=0.1, decay=0.1, n_epochs=100, rng):
    rated = Ratings([0] * len(items), items, values, 1, len(model.item_bias))
    _count(n_epochs, "n_epochs")
    _number(decay, "decay")
    start = Model(
        model.mean, np.zeros(1), model.item_bias, np.zeros((1, model.item_factors.shape[1])), model.item_factors
    )
    users, traits = _tables(start)
    _number(rate, "rate", 1)
    _number(reg, "reg")
    for t in range(n_epochs):
        order = np.arange(len(rated))
        rng.shuffle(order)
        for j in order:
            move, _ = _moves(users[0], traits[rated.items[j]], rated.values[j : j + 1] - model.mean, reg)
            users[0] += rate / (1 + decay * t) * move
    return float(users[0, 0]), users[0, 2:].copy()
