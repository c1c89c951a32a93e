"""What the recommenders share: ratings, the model that is fitted to them, and simulated ratings with what makes real ones hard."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array


def ids(values: ArrayLike, name: str, n_known: int) -> np.ndarray:
    """Return `values` as a vector of whole numbers from 0 to `n_known` - 1, or raise a ValueError.

    Examples
    --------
    >>> ids([2, 0], "users", 3)
    array([2, 0])
    >>> ids([3], "users", 3)
    Traceback (most recent call last):
    ValueError: users must be from 0 to 2, got 3
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must have 1 axis, got the shape {array.shape}")
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers, got an array of {array.dtype}")
    unknown = array[(array < 0) | (array >= n_known)]
    if unknown.size:
        raise ValueError(f"{name} must be from 0 to {n_known - 1}, got {unknown[0]}")
    return array.astype(np.intp)


@dataclass(frozen=True)
class Ratings:
    """Who rated what, and how: one entry of each vector for each rating.

    Nobody rates an item twice. Users and items without ratings are allowed.

    Attributes
    ----------
    users, items : ndarray of shape (n_ratings,)
        Whole numbers from 0.
    values : ndarray of shape (n_ratings,)
        The ratings.
    n_users, n_items : int
        How many there are, with those that have no rating.

    Examples
    --------
    >>> ratings = Ratings([0, 0, 2], [1, 3, 1], [4.0, 2.5, 5.0], n_users=3, n_items=4)
    >>> len(ratings), ratings.values.mean().round(2)
    (3, np.float64(3.83))
    >>> Ratings([0, 0], [1, 1], [4.0, 2.5], n_users=1, n_items=2)
    Traceback (most recent call last):
    ValueError: items must not come twice with the same user, got 1 twice with 0
    """

    users: Int[np.ndarray, " n_ratings"]
    items: Int[np.ndarray, " n_ratings"]
    values: Float[np.ndarray, " n_ratings"]
    n_users: int
    n_items: int

    def __post_init__(self) -> None:
        values = real_array(self.values, "values", ndim=1).astype(np.float64)
        users, items = ids(self.users, "users", self.n_users), ids(self.items, "items", self.n_items)
        for name, array in (("users", users), ("items", items)):
            if len(array) != len(values):
                raise ValueError(f"{name} must be as many as values, got {len(array)} and {len(values)}")
        pairs, counts = np.unique(users * self.n_items + items, return_counts=True)
        if counts.max() > 1:
            user, item = divmod(int(pairs[counts.argmax()]), self.n_items)
            raise ValueError(f"items must not come twice with the same user, got {item} twice with {user}")
        for name, array in (("users", users), ("items", items), ("values", values)):
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, which: np.ndarray) -> "Ratings":
        """Return some of the ratings: those of a mask, or of indices, each at most once."""
        some = object.__new__(Ratings)  # what holds for all holds for some: no need to check again
        for name in ("users", "items", "values"):
            object.__setattr__(some, name, getattr(self, name)[which])
        for name in ("n_users", "n_items"):
            object.__setattr__(some, name, getattr(self, name))
        return some


@dataclass(frozen=True)
class Model:
    """A mean, a bias for each user and item, and factors: the rating of item i by user u is guessed as the sum of the mean, the
    two biases, and the product of the two vectors of factors.

    Attributes
    ----------
    mean : float
        The mean of all ratings.
    user_bias, item_bias : ndarray of shape (n_users,), (n_items,)
        How far each is above the mean.
    user_factors, item_factors : ndarray of shape (n_users, n_factors), (n_items, n_factors)
        Tastes, and what the items have of what tastes are about.

    Examples
    --------
    >>> model = Model(
    ...     3.5, np.array([0.5]), np.array([0.0, -1.0]), np.array([[1.0, 2.0]]), np.array([[0.3, 0.1], [0.0, 0.2]])
    ... )
    >>> model.predict([0, 0], [0, 1])
    array([4.5, 3.4])
    """

    mean: float
    user_bias: Float[np.ndarray, " n_users"]
    item_bias: Float[np.ndarray, " n_items"]
    user_factors: Float[np.ndarray, "n_users n_factors"]
    item_factors: Float[np.ndarray, "n_items n_factors"]

    def predict(self, users: ArrayLike, items: ArrayLike) -> Float[np.ndarray, " n_pairs"]:
        """Return the guess for each user with the item in the same place. Unknown ids are a ValueError."""
        users, items = ids(users, "users", len(self.user_bias)), ids(items, "items", len(self.item_bias))
        products = np.einsum("nk,nk->n", self.user_factors[users], self.item_factors[items])
        return self.mean + self.user_bias[users] + self.item_bias[items] + products


def rmse(model: Model, ratings: Ratings) -> float:
    """Return the root of the mean squared error of a model on some ratings.

    Examples
    --------
    >>> ratings = Ratings([0, 0], [0, 1], [4.0, 2.0], n_users=1, n_items=2)
    >>> rmse(Model(3.0, np.zeros(1), np.zeros(2), np.zeros((1, 1)), np.zeros((2, 1))), ratings)
    1.0
    """
    errors = ratings.values - model.predict(ratings.users, ratings.items)
    return float(np.sqrt(np.mean(errors**2)))


def simulated_ratings(
    rng: np.random.Generator,
    *,
    n_users: int = 300,
    n_items: int = 200,
    per_user: float = 30.0,
    n_factors: int = 3,
) -> tuple[Ratings, Float[np.ndarray, "n_users n_items"]]:
    """Draw ratings that have what makes real ones hard, and return the score of every item with every user beside them.

    The score of an item with a user is 3.4, plus a bias of the user (standard deviation 0.4) and of the item (0.5),
    plus the product of two vectors of `n_factors` normal numbers, scaled to a standard deviation of 0.7. What is seen
    is the score plus noise of 0.5, rounded to whole stars from 1 to 5. Not everything is rated, and not by chance: how
    many items a user rates is lognormal, of the mean `per_user`; few items are popular and many are not, by Zipf's law
    with the exponent 0.7; and one star more in the score makes it 1.6 times as likely to be rated, as people choose
    what they will like.

    Examples
    --------
    >>> ratings, scores = simulated_ratings(np.random.default_rng(0), n_users=50, n_items=40, per_user=10.0)
    >>> ratings.n_users, ratings.n_items, sorted({int(stars) for stars in ratings.values})
    (50, 40, [1, 2, 3, 4, 5])
    """
    tastes, traits = rng.normal(size=(n_users, n_factors)), rng.normal(size=(n_items, n_factors))
    scores = (
        3.4 + rng.normal(0, 0.4, (n_users, 1)) + rng.normal(0, 0.5, n_items) + 0.7 / n_factors**0.5 * tastes @ traits.T
    )
    popularity = rng.permutation(n_items) + 1.0
    # the items of the largest sums of log weight and Gumbel noise are a weighted draw without replacement
    keys = np.log(1.6) * scores - 0.7 * np.log(popularity) + rng.gumbel(size=scores.shape)
    counts = np.clip(rng.lognormal(np.log(per_user) - 0.18, 0.6, n_users).round(), 1, n_items)
    ranks = np.argsort(np.argsort(-keys, axis=1), axis=1)
    users, items = np.nonzero(ranks < counts[:, None])
    stars = (scores[users, items] + rng.normal(0, 0.5, len(users))).round().clip(1, 5)
    return Ratings(users, items, stars, n_users, n_items), scores


def split(ratings: Ratings, rng: np.random.Generator, share: float = 0.2) -> tuple[Ratings, Ratings]:
    """Return most of the ratings to learn from, and a share of them, drawn at random, that is held out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> known, held_out = split(simulated_ratings(rng, n_users=50, n_items=40, per_user=10.0)[0], rng)
    >>> round(len(held_out) / (len(known) + len(held_out)), 2)
    0.2
    """
    order = rng.permutation(len(ratings))
    n_held = round(share * len(ratings))
    return ratings.take(np.sort(order[n_held:])), ratings.take(np.sort(order[:n_held]))
