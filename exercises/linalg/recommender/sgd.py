r"""Recommender by stochastic gradient descent: learn a little from each rating.

## Idea

The model is that of alternating least squares: a mean, biases, and a product of factors for each user and item. But
instead of solving regressions, look at one known rating after another. If the guess was too low, nudge the four things
it was made of so that it rises a little: the user's bias, the item's bias, the user's factors towards the item's, and
the item's towards the user's. That is all there is to it, and ten lines of it, put on a web page by Simon Funk in 2006
[1], brought factorisation into the Netflix prize. It needs no matrices to solve, takes in new ratings as they come, and
is easy to extend. The price: a rate to choose, and an order that matters.

## Maths

**One rating.** With the guess and its error

$$\hat r_{ui} = \mu + b_u + c_i + p_u^\top q_i, \qquad e_{ui} = r_{ui} - \hat r_{ui}, \tag{1}$$

its loss, halved so that no factors of 2 are in the way, is

$$\ell_{ui} = \tfrac12 e_{ui}^2 + \tfrac{\lambda}{2} \big( b_u^2 + c_i^2 + \lVert p_u \rVert^2 + \lVert q_i \rVert^2 \big). \tag{2}$$

Summed over the known ratings, a user with $n_u$ of them is penalised $n_u$ times. So twice this sum is just the
objective $L$ of `linalg/recommender/als`, and the two methods look for the same thing.

**Its slopes.** The error falls by 1 for each 1 of a bias, and by $q_i$ for $p_u$:

$$\frac{\partial \ell}{\partial b_u} = -e_{ui} + \lambda b_u, \quad \frac{\partial \ell}{\partial c_i} = -e_{ui} + \lambda c_i, \quad
\nabla_{p_u} \ell = -e_{ui}\, q_i + \lambda p_u, \quad \nabla_{q_i} \ell = -e_{ui}\, p_u + \lambda q_i. \tag{3}$$

**A step** with the rate $\eta$ goes down all four slopes at once, each computed with the old values of the others:

$$(b_u, c_i, p_u, q_i) \leftarrow (b_u, c_i, p_u, q_i) - \eta\, \nabla \ell_{ui}. \tag{4}$$

The mean $\mu$ of all known ratings stays. An *epoch* takes each rating once, in random order. For a rating drawn at
random the step is on average a step down the whole objective; that is what *stochastic* means.

**Many at once.** In Python a loop over ratings is slow. A *mini-batch* $B$ computes all its errors with the same old
values and adds up the steps:

$$\theta \leftarrow \theta - \eta \sum_{(u, i) \in B} \nabla_\theta\, \ell_{ui}. \tag{5}$$

A popular item may be many times in one batch, and then so many steps add up in one place. So (5) needs $\eta$ times the
largest such number to stay small, and it is a batch of one that bears the largest rate.

**How fast, how long.** With a fixed rate the numbers keep trembling around the minimum. The rate of epoch
$t = 0, 1, \dots$ falls,

$$\eta_t = \frac{\eta_0}{1 + d\, t}, \tag{6}$$

for instance. And one need not go to the end: after each epoch the error on ratings held out is measured, and if the
best one is $s$ epochs old, we stop and return the model that had it. So $s$ is how patient we are.

**A new user** with a few ratings: (4) for $b$ and $p$ alone, with the items as they are, epoch after epoch from zeros.
This problem is convex, and its minimum is the ridge regression of alternating least squares.

## Worked example

$\mu = 3$, $b = 0.1$, $c = -0.2$, $p = (1, 0.5)$, $q = (0.4, -1)$, and a rating of 4. The guess is
$3 + 0.1 - 0.2 + 0.4 - 0.5 = 2.8$ and $e = 1.2$. With $\lambda = 0.1$ the slopes are $-1.2 + 0.01 = -1.19$ in $b$,
$-1.22$ in $c$, $-1.2\, (0.4, -1) + 0.1\, (1, 0.5) = (-0.38, 1.25)$ in $p$ and
$-1.2\, (1, 0.5) + 0.1\, (0.4, -1) = (-1.16, -0.7)$ in $q$. With $\eta = 0.1$: $b = 0.219$, $c = -0.078$,
$p = (1.038, 0.375)$, $q = (0.516, -0.93)$. The guess is now $3 + 0.219 - 0.078 + 0.536 - 0.349 = 3.328$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `rating_gradient` | a model, a user, an item, a rating, $\lambda$ | the four slopes | (3) |
| `step` | the same, and $\eta$ | the next `Model` | (4) |
| `epoch` | a model, ratings, an order, $\eta$, $\lambda$ | the model after a step for each | (4) |
| `batch_step` | a model, some ratings, $\eta$, $\lambda$ | the next model | (5) |
| `batch_epoch` | a model, ratings, an order, the size of batches, $\eta$, $\lambda$ | the model after a step for each batch | (5) |
| `fit` | ratings known and held out, and how to go about it | a `Fit`: the best model, and how it went | (5), (6) |
| `fold_in` | a model, ratings of someone new | bias and factors | (4), (6) |

Given, in `mlpath.linalg.recommender._shared`, are `Ratings` with `users`, `items`, `values` (a vector each, an entry
for each rating), `n_users`, `n_items` and `take`, which picks some of them;
`Model(mean, user_bias, item_bias, user_factors, item_factors)` with its method `predict(users, items)`, equation (1)
for vectors of them; `rmse`, `simulated_ratings` and `split`. `baseline`, `objective`, `recommend` and `ranking_quality`
come from `mlpath.linalg.recommender.als`.

## Pitfalls

- Nearly right after a step, but the item's factors differ in the second digit.
- In a batch, popular items learn too little. In large batches they explode.
- The error on known ratings keeps falling and that on held-out ones rises.
- Factors that begin with zeros, or all the same ones.
- An epoch takes longer than all of alternating least squares: are you copying the model for each rating?

## Cost

$O(k)$ for a rating, so an epoch is $k$ times cheaper than a sweep of alternating least squares, on paper. Measured with
39,475 ratings and ten factors, in Python an epoch took 0.55 s one rating at a time, 75 ms in batches of 100 and 41 ms
in batches of 1,000, while a whole sweep of alternating least squares took 28 ms. The loop pays for Python, not for
arithmetic.

## Go further

An experiment: double the rate until it diverges, with batches of 1, 10 and 100. How does the largest good rate go with
the size? A stretch goal: let the biases drift with time [2], or weigh each step by the past slopes of its own user
(Adagrad).

What is not here: implicit feedback, pairwise losses, momentum, and parallel updates without locks.

## References

1. Funk (2006), Netflix update: try this at home, https://sifter.org/~simon/journal/20061211.html
2. Koren, Bell & Volinsky (2009), Matrix factorization techniques for recommender systems,
   https://doi.org/10.1109/MC.2009.263
3. Bottou (2010), Large-scale machine learning with stochastic gradient descent,
   https://doi.org/10.1007/978-3-7908-2604-3_16
"""

# 7 parts to write. Test them with: pytest exercises/linalg/recommender/sgd.py
# To be written without: sklearn, scipy, torch

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array
from mlpath.linalg.recommender._shared import Model, Ratings, ids, rmse
from mlpath.linalg.recommender.als import baseline, objective


@dataclass(frozen=True)
class Gradient:
    """The slopes of the loss (2) of one rating, equation (3)."""

    user_bias: float
    item_bias: float
    user_factors: Float[np.ndarray, " n_factors"]
    item_factors: Float[np.ndarray, " n_factors"]


@dataclass(frozen=True)
class Fit:
    """A model, and how it was found.

    Attributes
    ----------
    model : Model
        The model with the least error on the ratings held out.
    held_out_rmse : ndarray of shape (n_epochs + 1,)
        That error at the start and after each epoch.
    objective : ndarray of shape (n_epochs + 1,)
        The objective $L$ of the known ratings, twice the sum of (2), at the same times.
    best_epoch : int
        After how many epochs the model was found.
    stopped : bool
        Whether patience ended before the epochs did.
    """

    model: Model
    held_out_rmse: Float[np.ndarray, " n_records"]
    objective: Float[np.ndarray, " n_records"]
    best_epoch: int
    stopped: bool


def _check_number(value: float, name: str, *, positive: bool = False) -> None:  # given: argument checks
    if not 0 <= value < np.inf or (positive and value == 0):
        raise ValueError(f"{name} must be finite and {'positive' if positive else 'not negative'}, got {value}")


def _check_count(value: int, name: str) -> None:  # given: argument checks
    if value != int(value) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, got {value}")


def _check_counts(**counts: int) -> None:  # given: argument checks
    for name, value in counts.items():
        _check_count(value, name)


def _check_settings(rate: float, reg: float, decay: float) -> None:  # given: argument checks
    _check_number(rate, "rate", positive=True)
    _check_number(reg, "reg")
    _check_number(decay, "decay")


def _check_match(model: Model, ratings: Ratings, name: str) -> None:  # given: argument checks
    sizes = (len(model.user_bias), len(model.item_bias))
    if sizes != (ratings.n_users, ratings.n_items):
        raise ValueError(
            f"{name} must be of {sizes[0]} users and {sizes[1]} items, got {ratings.n_users}, {ratings.n_items}"
        )


def _check_order(order: np.ndarray, n_ratings: int) -> np.ndarray:  # given: argument checks
    order = ids(order, "order", n_ratings)
    if len(order) != n_ratings or len(np.unique(order)) != n_ratings:
        raise ValueError(f"order must have each whole number below {n_ratings} once, got {order}")
    return order


def _check_finite(error: float, rate: float) -> None:  # given: does it diverge?
    if not np.isfinite(error):
        raise FloatingPointError(f"the errors grow beyond all bounds; a smaller rate is needed than {rate}")


def rating_gradient(model: Model, user: int, item: int, value: float, reg: float) -> Gradient:
    r"""Return the slopes of the loss of one rating, equation (3).

    Parameters
    ----------
    model : Model
        The model.
    user, item : int
        Who rated what,
    value : float
        and how.
    reg : float
        $\lambda$.

    Returns
    -------
    Gradient
        The derivatives by the two biases and the two vectors of factors.

    Raises
    ------
    ValueError
        If the model does not know `user` or `item`, `value` is not finite, or `reg` is negative or not finite.

    Examples
    --------
    >>> model = Model(3.0, np.array([0.1]), np.array([-0.2]), np.array([[1.0, 0.5]]), np.array([[0.4, -1.0]]))
    >>> found = rating_gradient(model, 0, 0, 4.0, reg=0.1)
    >>> print(
    ...     round(found.user_bias, 4),
    ...     round(found.item_bias, 4),
    ...     found.user_factors.round(4),
    ...     found.item_factors.round(4),
    ... )
    -1.19 -1.22 [-0.38  1.25] [-1.16 -0.7 ]
    """
    # given: the checks
    ids([user], "user", len(model.user_bias))
    ids([item], "item", len(model.item_bias))
    real_array([value], "value", ndim=1)
    _check_number(reg, "reg")
    raise NotImplementedError("not written yet: rating_gradient")


def step(model: Model, user: int, item: int, value: float, *, rate: float, reg: float) -> Model:
    r"""Go down the slopes of one rating, all four at once, equation (4).

    Parameters
    ----------
    model : Model
        The model; it stays as it is.
    user, item : int
        Who rated what,
    value : float
        and how.
    rate : float
        $\eta$.
    reg : float
        $\lambda$.

    Returns
    -------
    Model
        The next model, in which only this user and this item differ.

    Raises
    ------
    ValueError
        If the model does not know `user` or `item`, `value` is not finite, `rate` is not positive, or `reg` is negative
        or not finite.

    Examples
    --------
    >>> model = Model(3.0, np.array([0.1]), np.array([-0.2]), np.array([[1.0, 0.5]]), np.array([[0.4, -1.0]]))
    >>> after = step(model, 0, 0, 4.0, rate=0.1, reg=0.1)
    >>> after.predict([0], [0]).round(3)
    array([3.328])
    """
    # given: the check
    _check_number(rate, "rate", positive=True)
    raise NotImplementedError("not written yet: step")


def epoch(model: Model, ratings: Ratings, order: Int[np.ndarray, " n_ratings"], *, rate: float, reg: float) -> Model:
    r"""Make the step (4) for each rating, one after another.

    Parameters
    ----------
    model : Model
        The model; it stays as it is.
    ratings : Ratings
        What is known.
    order : ndarray
        In which order to take them: each index once.
    rate : float
        $\eta$.
    reg : float
        $\lambda$.

    Returns
    -------
    Model
        The model after the last step.

    Raises
    ------
    ValueError
        If `ratings` does not have the model's numbers of users and items, `order` is no permutation, `rate` is not
        positive, or `reg` is negative or not finite.

    Examples
    --------
    >>> ratings = Ratings([0, 0], [0, 1], [4.0, 3.0], n_users=1, n_items=2)
    >>> model = Model(3.5, np.zeros(1), np.zeros(2), np.array([[1.0]]), np.array([[0.5], [-0.5]]))
    >>> epoch(model, ratings, np.array([1, 0]), rate=0.1, reg=0.1).user_factors
    array([[0.98035]])
    """
    # given: the checks
    _check_match(model, ratings, "ratings")
    order = _check_order(order, len(ratings))
    _check_number(rate, "rate", positive=True)
    _check_number(reg, "reg")
    raise NotImplementedError("not written yet: epoch")


def batch_step(model: Model, batch: Ratings, *, rate: float, reg: float) -> Model:
    r"""Add up the steps of several ratings, all computed with the same model, equation (5).

    Parameters
    ----------
    model : Model
        The model; it stays as it is.
    batch : Ratings
        Some ratings. A user or an item may be in several of them, and is moved by all of these.
    rate : float
        $\eta$.
    reg : float
        $\lambda$.

    Returns
    -------
    Model
        The next model.

    Raises
    ------
    ValueError
        If `batch` does not have the model's numbers of users and items, `rate` is not positive, or `reg` is negative or
        not finite.

    Examples
    --------
    >>> batch = Ratings([0, 0], [0, 1], [4.0, 3.0], n_users=1, n_items=2)
    >>> model = Model(3.5, np.zeros(1), np.zeros(2), np.array([[1.0]]), np.array([[0.5], [-0.5]]))
    >>> batch_step(model, batch, rate=0.1, reg=0.1).user_factors
    array([[0.98]])
    """
    # given: the checks
    _check_match(model, batch, "batch")
    _check_number(rate, "rate", positive=True)
    _check_number(reg, "reg")
    raise NotImplementedError("not written yet: batch_step")


def batch_epoch(
    model: Model, ratings: Ratings, order: Int[np.ndarray, " n_ratings"], batch_size: int, *, rate: float, reg: float
) -> Model:
    r"""Cut the ratings, in the given order, into batches, and make the step (5) for each.

    Parameters
    ----------
    model : Model
        The model; it stays as it is.
    ratings : Ratings
        What is known.
    order : ndarray
        In which order to take them: each index once.
    batch_size : int
        How many make a batch. The last one has what is left.
    rate : float
        $\eta$.
    reg : float
        $\lambda$.

    Returns
    -------
    Model
        The model after the last batch.

    Raises
    ------
    ValueError
        If `ratings` does not have the model's numbers of users and items, `order` is no permutation, `batch_size` is
        not a positive whole number, `rate` is not positive, or `reg` is negative or not finite.

    Examples
    --------
    >>> ratings = Ratings([0, 0], [0, 1], [4.0, 3.0], n_users=1, n_items=2)
    >>> model = Model(3.5, np.zeros(1), np.zeros(2), np.array([[1.0]]), np.array([[0.5], [-0.5]]))
    >>> batch_epoch(model, ratings, np.array([1, 0]), 1, rate=0.1, reg=0.1).user_factors
    array([[0.98035]])
    """
    # given: the checks
    _check_match(model, ratings, "ratings")
    order = _check_order(order, len(ratings))
    _check_count(batch_size, "batch_size")
    raise NotImplementedError("not written yet: batch_epoch")


def fit(
    known: Ratings,
    held_out: Ratings,
    n_factors: int,
    *,
    reg: float,
    rate: float,
    decay: float = 0.0,
    batch_size: int = 1,
    max_epochs: int = 50,
    patience: int = 5,
    rng: np.random.Generator,
) -> Fit:
    r"""Fit the model (1) by epochs in random order, from the baseline and small random factors.

    Parameters
    ----------
    known : Ratings
        What to learn from.
    held_out : Ratings
        What to judge by.
    n_factors : int
        $k$, from 1.
    reg : float
        $\lambda$.
    rate, decay : float
        $\eta_0$ and $d$ of (6).
    batch_size : int
        How many ratings to take at once, equation (5).
    max_epochs : int
        At most so many epochs.
    patience : int
        $s$: stop when this many epochs in a row have not brought the error on `held_out` below its best.
    rng : numpy.random.Generator
        Both kinds of factors begin with normal numbers of standard deviation 0.1. Each epoch draws an order of its own.

    Returns
    -------
    Fit
        The model that was best on `held_out`, perhaps that of the start, and the record.

    Raises
    ------
    ValueError
        If `held_out` does not have the numbers of users and items of `known`, `n_factors`, `batch_size`, `max_epochs`
        or `patience` is not a positive whole number, `rate` is not positive, or `reg` or `decay` is negative or not
        finite.
    FloatingPointError
        If the errors grow beyond all bounds.

    Examples
    --------
    >>> from mlpath.linalg.recommender._shared import simulated_ratings, split
    >>> rng = np.random.default_rng(0)
    >>> known, held_out = split(simulated_ratings(rng, n_users=60, n_items=40, per_user=15.0)[0], rng)
    >>> found = fit(known, held_out, 2, reg=0.05, rate=0.05, batch_size=20, rng=rng)
    >>> bool(rmse(found.model, held_out) == found.held_out_rmse.min() < found.held_out_rmse[0])
    True
    """
    # given: the checks
    _check_counts(n_factors=n_factors, batch_size=batch_size, max_epochs=max_epochs, patience=patience)
    _check_settings(rate, reg, decay)
    base = baseline(known)
    _check_match(base, held_out, "held_out")
    raise NotImplementedError("not written yet: fit")


def fold_in(
    model: Model,
    items: ArrayLike,
    values: ArrayLike,
    *,
    reg: float,
    rate: float = 0.1,
    decay: float = 0.1,
    n_epochs: int = 100,
    rng: np.random.Generator,
) -> tuple[float, Float[np.ndarray, " n_factors"]]:
    r"""Return bias and factors of someone new, by the steps (4) from zeros with the items as they are.

    Parameters
    ----------
    model : Model
        A model of others.
    items, values : array_like
        What the new user has rated, each item once, and how.
    reg : float
        $\lambda$.
    rate, decay : float
        $\eta_0$ and $d$ of (6).
    n_epochs : int
        How many times to take each rating, each time in an order of its own.
    rng : numpy.random.Generator
        For the orders.

    Returns
    -------
    bias : float
        $b$.
    factors : ndarray
        $p$; near to the ridge regression of alternating least squares.

    Raises
    ------
    ValueError
        If the model does not know some of `items`, some come twice, `values` are not as many, finite numbers, there are
        none, `rate` is not positive, `reg` or `decay` is negative or not finite, or `n_epochs` is not a positive whole
        number.

    Examples
    --------
    >>> model = Model(3.0, np.zeros(0), np.array([0.5, 0.0]), np.zeros((0, 1)), np.array([[1.0], [-1.0]]))
    >>> bias, factors = fold_in(model, [0, 1], [5.0, 2.0], reg=0.1, rng=np.random.default_rng(0))
    >>> print(round(bias, 1), factors.round(1))
    0.2 [1.1]
    """
    # given: the checks
    rated = Ratings(np.zeros(np.shape(items), int), np.asarray(items), np.asarray(values), 1, len(model.item_bias))
    _check_number(reg, "reg")
    _check_number(rate, "rate", positive=True)
    _check_number(decay, "decay")
    _check_count(n_epochs, "n_epochs")
    raise NotImplementedError("not written yet: fold_in")
