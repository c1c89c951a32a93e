r"""Slice sampling: step out and shrink, along coordinates, in random directions, and on ellipses.

## Idea

To draw from a density, draw points uniformly from the area under its graph and forget their heights. So take turns: from
where you are, draw a height below the graph; then draw a point from the *slice*, all places where the graph is at least
that high. The slice is not known, but an interval around the present point can be widened until it sticks out, and cut
back at each point that turns out to lie outside. No step is rejected, and a width that was badly chosen costs
evaluations, not correctness.

## Maths

Let $\pi$ be a density, known up to a constant. If $(x, h)$ is uniform on the area $\{0 < h < \pi(x)\}$, then $x$ has the
density $\pi$. Gibbs sampling of the pair draws the height given $x$, uniform below $\pi(x)$, and $x$ given the height,
uniform on the slice. The logarithm of a uniform number on $(0, 1)$ is minus an exponential number, so in logarithms

$$\ell = \log \pi(x) - E, \qquad E \sim \text{Exponential}(1), \qquad
\text{slice} = \{ y : \log \pi(y) \ge \ell \}. \tag{1}$$

We call $\ell$ the *level*. In many dimensions we move along a line, $y = x + s\, d$, with a *direction* $d$ and a number
$s$, which is 0 at the present point; the rest holds for $s$.

**Stepping out.** An interval of the *width* $w$ is laid at random around 0, and each end moved by $w$ until it is outside
the slice. To limit the work to $m$ widths, the $m - 1$ moves are split between both ends at random:

$$L = -w\, U, \quad R = L + w, \qquad J \in \{0, \dots, m - 1\}, \quad K = m - 1 - J, \tag{2}$$

with $U$ uniform on $(0, 1)$ and all values of $J$ equally likely. $L$ is moved to $L - w$ as long as it is in the slice,
at most $J$ times; $R$ to $R + w$ likewise, at most $K$ times. Why at random? Let $y$ be another point of the slice in the
interval that came out, $k$ widths further left in the same grid. From there the same interval comes out if the grid lies
the same way, which has the same density, and if its $J$ is smaller by $k$, which is as likely. So

$$P(\text{interval} \mid x) = P(\text{interval} \mid y) \quad \text{for all } x, y \text{ of the slice in it}. \tag{3}$$

Had $J$ been $m - 1$ each time, the interval would be known to reach to the left of where it came from, and (3) fail.

**Shrinking.** Draw $s$ uniformly from $(L, R)$. If it is in the slice, move there. If not, cut the interval at $s$, on
the side on which it lies as seen from 0, and draw again:

$$L \leftarrow s \ \text{ if } s < 0, \qquad R \leftarrow s \ \text{ otherwise}. \tag{4}$$

The present point is in the slice, so the interval closes in on something that is accepted. The way from $x$ to $y$ by
some rejected points is as likely as that from $y$ to $x$ by the same ones: each of them cuts off neither $x$ nor $y$, and
so from either it leaves the same interval. With (3), the uniform law on the slice is in detailed balance.

**Directions.** A *sweep* goes through the coordinates: $d = (1, 0, \dots)$, then $(0, 1, 0, \dots)$, and so on, each with
a new level. A *random direction* is uniform on the unit sphere: independent normal numbers, divided by their norm.

**Ellipses.** Often $\pi(x) \propto \mathcal{N}(x;\ \mu, \Sigma)\, \mathcal{L}(x)$, a normal prior times a likelihood. If
$x$ and $\nu$ are independent draws of the prior, then for any angle $\theta$

$$y = \mu + (x - \mu) \cos \theta + (\nu - \mu) \sin \theta \tag{5}$$

is one as well, since $\cos^2 \theta + \sin^2 \theta = 1$. So draw $\nu$, and slice-sample $\theta$ for $\mathcal{L}$
alone: the level is $\log \mathcal{L}(x) - E$, the interval is the whole ellipse, which needs no width. The first angle is
uniform on $(0, 2 \pi)$, and the interval around the present point, where $\theta = 0$, is

$$L = \theta - 2 \pi, \qquad R = \theta; \tag{6}$$

then it is cut by (4), and the next angle drawn from what is left.

## Worked example

Let $\log \pi(x) = -x^2 / 2$, $x = 1$ and $d = 1$. With $E = 0.7$ the level is $-0.5 - 0.7 = -1.2$; the slice is
$|y| \le \sqrt{2.4} = 1.549$. With $w = 1$ and $U = 0.3$, $L = -0.3$ and $R = 0.7$, which are the points 0.7 and 1.7. Let
$m = 4$ and $J = 2$, so $K = 1$. The left end is at 0.7, inside, and moves to $-0.3$; that is inside as well, and it moves
to $-1.3$; its two moves are spent, so nobody looks whether this is inside. The right end is at 1.7, where
$\log \pi = -1.445$: outside. That took three evaluations, and the interval goes from $s = -2.3$ to $s = 0.7$. If the
first draw is $s = 0.6$, the point 1.6 has $-1.28$, and is outside: $R = 0.6$. If the next is $s = -1.4$, the point $-0.4$
has $-0.08$, and the chain is there, after five evaluations.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `draw_level` | log densities | levels | (1) |
| `step_out` | positions, directions, levels | an `Interval` for each chain | (2) |
| `shrink` | the same, and intervals | new positions | (4) |
| `update_along` | a `State`, directions | the next `State` | the three above |
| `coordinate_sweep` | a `State` | the next `State` | one coordinate after the other |
| `random_direction_step` | a `State` | the next `State` | a direction on the sphere |
| `elliptical_step` | a `State`, a normal prior | the next `State` | (5), (6), (4) |
| `sample` | starting positions, an update | `SliceDraws` | updates, over and over |

All chains of a batch move at once, each with a level, an interval and a number of evaluations of its own: those that are
done wait, and the density is evaluated for the others only.

## Pitfalls

- The interval is centred at the present point, or all $m$ moves may be spent on one side: the wrong law, by little.
- A chain that is done draws again, because another is not.
- The cut is made at the wrong end, and the present point falls out of the interval.
- On the ellipse the level is taken from the whole density, so that the prior counts twice.
- Heights are exponentiated, and vanish in a hundred dimensions.

## Cost

Some 5 to 10 evaluations of $\log \pi$ an update; a width $c$ times too small costs about $c$ more, one $c$ times too
large about $\log c$. A sweep of all coordinates costs so much for each of them. The ellipse costs $O(\text{dim}^2)$ for
$\nu$, and some evaluations of the likelihood.

## Go further

Experiment: on a normal density, plot the number of evaluations of an update against the width, from 0.01 to 100. A
stretch goal: the doubling procedure of [1], which reaches far slices faster but needs a test of acceptance.

What is not here: widths that adapt during a warm-up; and ways to use the shape of the slice in many dimensions.

## References

1. Neal (2003), Slice sampling, https://doi.org/10.1214/aos/1056562461
2. Murray, Adams & MacKay (2010), Elliptical slice sampling, https://arxiv.org/abs/1001.0175
"""

# 8 parts to write. Test them with: pytest exercises/bayes/slice_sampling.py
# To be written without: emcee, pymc, numpyro, scipy.stats

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mlpath.bayes._shared import LogDensity, evaluate


@dataclass(frozen=True)
class State:
    """Where the chains are, and the log density (on ellipses, the log likelihood) there."""

    position: Float[np.ndarray, "n_chains dim"]
    log_density: Float[np.ndarray, " n_chains"]


@dataclass(frozen=True)
class Interval:
    """The ends of each chain's interval, as values of s, and how many evaluations finding it took."""

    left: Float[np.ndarray, " n_chains"]
    right: Float[np.ndarray, " n_chains"]
    n_evaluations: Int[np.ndarray, " n_chains"]


@dataclass(frozen=True)
class SliceDraws:
    """What `sample` returns."""

    draws: Float[np.ndarray, "n_chains n_draws dim"]
    log_density: Float[np.ndarray, "n_chains n_draws"]
    n_evaluations: Int[np.ndarray, "n_chains n_draws"]


Update = Callable[..., tuple[State, Int[np.ndarray, " n_chains"]]]
"""Called as `update(log_density_fn, state, rng=rng)`; returns the next state, and the evaluations that each chain took."""


def _check_width(width: float | np.ndarray) -> None:  # given: argument checks
    """Refuse a width that is not positive and finite."""
    if not (np.all(np.greater(width, 0)) and np.all(np.isfinite(width))):
        raise ValueError(f"width must be positive and finite, got {width}")


def _check_progress(points: np.ndarray, position: np.ndarray) -> None:  # given: so that no loop is endless
    """Raise where a point was rejected although it is where the chain already stands."""
    stuck = (points == position).all(axis=1)
    if stuck.any():
        raise ValueError(f"log_density_fn must be the same at each call, got less than before at {points[stuck][0]}")


def draw_level(
    log_density: Float[np.ndarray, " n_chains"], *, rng: np.random.Generator
) -> Float[np.ndarray, " n_chains"]:
    """Draw a level below each log density, equation (1).

    Parameters
    ----------
    log_density : ndarray
        Where the chains are. It is not changed.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The levels, each chain with a random number of its own; never above `log_density`.

    Examples
    --------
    >>> print(draw_level(np.array([-3.0, 100.0]), rng=np.random.default_rng(0)).round(1))
    [-3.7 99. ]
    """
    raise NotImplementedError("not written yet: draw_level")


def step_out(
    log_density_fn: LogDensity,
    position: Float[np.ndarray, "n_chains dim"],
    direction: Float[np.ndarray, "n_chains dim"],
    level: Float[np.ndarray, " n_chains"],
    *,
    width: float,
    max_steps: int,
    rng: np.random.Generator,
) -> Interval:
    """Lay an interval around each position, and move its ends out of the slice, equation (2).

    Parameters
    ----------
    log_density_fn : callable
        The log density of each row, up to a constant; -inf outside the support. Call it through the given
        `evaluate(log_density_fn, points)`, with the rows of such chains only as have an end to look at.
    position : ndarray
        Where the chains are.
    direction : ndarray
        In which direction each chain may move; of any length.
    level : ndarray
        The level of each chain. A point is in the slice if its log density is at least that.
    width : float
        w, in units of s.
    max_steps : int
        m: no interval gets longer than so many widths.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Interval
        Both ends as values of s, the left one at most 0 and the right one at least 0. Each chain has an interval and a division of
        the moves of its own. Evaluations are counted for each chain: one for each time that an end was looked at; an end whose
        moves are spent is not looked at.

    Raises
    ------
    ValueError
        If `width` is not positive and finite, `max_steps` is below 1, or `log_density_fn` returns what is no log density.

    Examples
    --------
    >>> def uniform(x):  # between -2 and 2
    ...     return np.where(abs(x[:, 0]) < 2, 0.0, -np.inf)
    >>> x, direction, rng = np.array([[1.5]]), np.array([[1.0]]), np.random.default_rng(0)
    >>> found = step_out(uniform, x, direction, np.array([-1.0]), width=1.0, max_steps=50, rng=rng)
    >>> print(found.left.round(2), found.right.round(2), found.n_evaluations)
    [-3.64] [1.36] [6]
    """
    # given: the checks
    _check_width(width)
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}")
    raise NotImplementedError("not written yet: step_out")


def shrink(
    log_density_fn: LogDensity,
    position: Float[np.ndarray, "n_chains dim"],
    direction: Float[np.ndarray, "n_chains dim"],
    level: Float[np.ndarray, " n_chains"],
    interval: Interval,
    *,
    rng: np.random.Generator,
) -> tuple[State, Int[np.ndarray, " n_chains"]]:
    """Draw from each interval until the point is in the slice, and cut the interval at those that are not, equation (4).

    Parameters
    ----------
    log_density_fn : callable
        The log density of each row. Call it through the given `evaluate`, for those chains only that are not done.
    position : ndarray
        Where the chains are, in the slice.
    direction : ndarray
        The direction of each chain.
    level : ndarray
        The level of each chain. A point is in the slice if its log density is at least that.
    interval : Interval
        From where to draw s. Its arrays are not changed.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        The first point of each chain that was in the slice, with its log density.
    n_evaluations : ndarray
        How many points each chain drew, the last one included. What finding the interval took is not counted again.

    Raises
    ------
    ValueError
        If `log_density_fn` returns what is no log density, or if an interval has shrunk so far that the point drawn is where the chain
        stands and is not in the slice: hand rejected points and the positions of their chains to the given `_check_progress`.

    Examples
    --------
    >>> def uniform(x):  # between -2 and 2
    ...     return np.where(abs(x[:, 0]) < 2, 0.0, -np.inf)
    >>> x, direction, rng = np.array([[1.5]]), np.array([[1.0]]), np.random.default_rng(3)
    >>> interval = Interval(np.array([-90.0]), np.array([10.0]), np.array([7]))
    >>> state, n = shrink(uniform, x, direction, np.array([-1.0]), interval, rng=rng)
    >>> print(abs(state.position) < 2, state.log_density)
    [[ True]] [0.]
    """
    raise NotImplementedError("not written yet: shrink")


def update_along(
    log_density_fn: LogDensity,
    state: State,
    direction: Float[np.ndarray, "n_chains dim"],
    *,
    width: float,
    max_steps: int = 50,
    rng: np.random.Generator,
) -> tuple[State, Int[np.ndarray, " n_chains"]]:
    """Draw a level, find an interval and draw from it: one update of each chain along its direction.

    Parameters
    ----------
    log_density_fn : callable
        The log density of each row.
    state : State
        Where the chains are. It is not changed.
    direction : ndarray
        The direction of each chain.
    width, max_steps : float, int
        As for `step_out`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where they are next.
    n_evaluations : ndarray
        All evaluations of each chain, of stepping out and of shrinking. The log density at the start is known, and not evaluated again.

    Raises
    ------
    ValueError
        As `step_out` and `shrink`.

    Examples
    --------
    >>> def normal(x):
    ...     return -(x**2).sum(axis=1) / 2
    >>> state = State(np.zeros((1000, 2)), np.zeros(1000))
    >>> direction, rng = np.tile([0.0, 1.0], (1000, 1)), np.random.default_rng(0)
    >>> state, n = update_along(normal, state, direction, width=2.0, rng=rng)
    >>> print(abs(state.position).max(axis=0).round(), n.min())
    [0. 3.] 2
    """
    raise NotImplementedError("not written yet: update_along")


def coordinate_sweep(
    log_density_fn: LogDensity,
    state: State,
    *,
    width: float | Float[np.ndarray, " dim"],
    max_steps: int = 50,
    rng: np.random.Generator,
) -> tuple[State, Int[np.ndarray, " n_chains"]]:
    """Update each coordinate in turn, from the first to the last, each with a level of its own.

    Parameters
    ----------
    log_density_fn : callable
        The log density of each row.
    state : State
        Where the chains are.
    width : float or ndarray
        One for all coordinates, or one for each.
    max_steps : int
        As for `step_out`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where they are after the last coordinate.
    n_evaluations : ndarray
        The evaluations of each chain, of all coordinates.

    Raises
    ------
    ValueError
        As `update_along`.

    Examples
    --------
    >>> def normal(x):
    ...     return -(x**2).sum(axis=1) / 2
    >>> state, n = coordinate_sweep(
    ...     normal, State(np.zeros((1000, 2)), np.zeros(1000)), width=2.0, rng=np.random.default_rng(0)
    ... )
    >>> print(abs(state.position).max(axis=0).round(), n.min())
    [3. 3.] 5
    """
    raise NotImplementedError("not written yet: coordinate_sweep")


def random_direction_step(
    log_density_fn: LogDensity, state: State, *, width: float, max_steps: int = 50, rng: np.random.Generator
) -> tuple[State, Int[np.ndarray, " n_chains"]]:
    """Update each chain along a direction that is uniform on the unit sphere.

    Parameters
    ----------
    log_density_fn : callable
        The log density of each row.
    state : State
        Where the chains are.
    width, max_steps : float, int
        As for `step_out`; directions have length 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where they are next. Each chain has a direction of its own.
    n_evaluations : ndarray
        The evaluations of each chain.

    Raises
    ------
    ValueError
        As `update_along`.

    Examples
    --------
    >>> def normal(x):
    ...     return -(x**2).sum(axis=1) / 2
    >>> state = State(np.zeros((1000, 2)), np.zeros(1000))
    >>> state, n = random_direction_step(normal, state, width=2.0, rng=np.random.default_rng(0))
    >>> print((state.position > 0).mean(axis=0).round(1))
    [0.5 0.5]
    """
    raise NotImplementedError("not written yet: random_direction_step")


def elliptical_step(
    log_likelihood_fn: LogDensity,
    state: State,
    *,
    mean: Float[np.ndarray, " dim"],
    factor: Float[np.ndarray, "dim dim"],
    rng: np.random.Generator,
) -> tuple[State, Int[np.ndarray, " n_chains"]]:
    r"""Update each chain on an ellipse through where it is, equations (5) and (6).

    Parameters
    ----------
    log_likelihood_fn : callable
        The log likelihood of each row, without the prior. Call it through the given `evaluate`, for those chains only that are not
        done.
    state : State
        Where the chains are, with the log likelihood there as `log_density`.
    mean : ndarray
        $\mu$ of the normal prior.
    factor : ndarray
        A matrix $F$ with $F F^\top = \Sigma$, such as the Cholesky factor of the covariance.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where they are next, with the log likelihood there. Each chain has a level, an ellipse and angles of its own.
    n_evaluations : ndarray
        How many angles each chain tried.

    Raises
    ------
    ValueError
        If `log_likelihood_fn` returns what is no log density, or a point is rejected that does not differ from that at the angle 0: hand the
        rejected points, and those of equation (5) at the angle 0, to the given `_check_progress`.

    Examples
    --------
    >>> def certain(x):
    ...     return np.zeros(len(x))
    >>> state, rng = State(np.full((1000, 1), 5.0), np.zeros(1000)), np.random.default_rng(0)
    >>> state, n = elliptical_step(certain, state, mean=np.array([5.0]), factor=np.array([[1.0]]), rng=rng)
    >>> print(state.position.mean().round(1), n.max())
    5.0 1
    """
    raise NotImplementedError("not written yet: elliptical_step")


def sample(
    log_density_fn: LogDensity,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    update: Update,
    rng: np.random.Generator,
) -> SliceDraws:
    """Run a batch of independent chains, and record each of them after each update.

    Parameters
    ----------
    log_density_fn : callable
        The log density of each row, up to a constant; for `elliptical_step` the log likelihood.
    position : ndarray
        Where the chains start, one a row, each with positive density. Not itself recorded, nor changed.
    n_draws : int
        Number of updates.
    update : callable
        Called as `update(log_density_fn, state, rng=rng)`, for instance `partial(coordinate_sweep, width=1.0)`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SliceDraws
        With three fields: `draws`, the positions after each update, of shape (n_chains, n_draws, dim); `log_density`, that of each of
        them, (n_chains, n_draws); and `n_evaluations`, what each update took, (n_chains, n_draws).

    Raises
    ------
    ValueError
        If `position` is not a matrix of finite numbers, a start has no density, `n_draws` is below 1, or `log_density_fn`
        returns what is no log density.

    Examples
    --------
    >>> from functools import partial
    >>> result = sample(
    ...     lambda x: -(x**2).sum(axis=1) / 2,
    ...     np.zeros((200, 1)),
    ...     100,
    ...     update=partial(coordinate_sweep, width=2.0),
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(result.draws.shape, f"{result.draws.var():.1f} {result.n_evaluations.mean():.0f}")
    (200, 100, 1) 1.0 5
    """
    # given: the checks, and the state that the chains start in
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, dim), got {position}")
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    state = State(position, evaluate(log_density_fn, position))
    if np.isneginf(state.log_density).any():
        raise ValueError(f"position must have positive density, got {position[np.isneginf(state.log_density)][0]}")
    raise NotImplementedError("not written yet: sample")
