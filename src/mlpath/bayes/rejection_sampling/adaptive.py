r"""Adaptive rejection sampling: the envelope of a log-concave density, built of its tangents while sampling.

## Idea

Rejection sampling needs an envelope, and finding a good one is an art. For a density whose logarithm is concave it can be
left to the algorithm: every tangent of a concave curve lies above it and every chord below. So a few tangents make an
envelope, in pieces of exponential functions that are easy to draw from, and the chords a squeeze, which accepts most
points unseen. Whenever the density had to be evaluated after all, the point becomes a new tangent, and the envelope fits
better where it is used.

## Maths

Let $h = \log f$ be concave and differentiable on an interval from $a$ to $b$, perhaps infinite; $f$ is known up to a
constant. At the points $x_1 < \dots < x_k$ let $h_i$ be its values and $s_i$ its derivatives. As $h$ is concave, each
tangent lies nowhere below it,

$$h(x) \le h_i + s_i (x - x_i) \quad \text{for all } x \text{ and } i. \tag{1}$$

The *upper hull* $u(x)$ is the least of the $k$ tangents, so that $h \le u$. Neighbouring tangents meet at $z_i$ between
$x_i$ and $x_{i+1}$,

$$h_i + s_i (z_i - x_i) = h_{i+1} + s_{i+1} (z_i - x_{i+1}), \tag{2}$$

which gives $z_i$, unless the slopes are equal: then both tangents are the same line, and any point between will do. With
$z_0 = a$ and $z_k = b$, the $i$-th tangent is the least from $z_{i-1}$ to $z_i$. The *lower hull* $l(x)$ joins
neighbouring points $(x_i, h_i)$ by straight lines; it is $-\infty$ outside $x_1, \dots, x_k$. As $h$ is concave,
$l \le h$.

**Mass of a piece.** A piece is a line of slope $s$ from $y$ to $z$, with width $w = z - y$. It is highest at one of its
ends, where we call its height $m$: at $z$ if $s > 0$, at $y$ if $s < 0$. From there it falls, and with $t = |s| w$

$$\int_y^z e^{m - |s| r(x)}\, dx = e^m\, \frac{1 - e^{-t}}{|s|}, \qquad r(x) = \text{distance from the higher end}. \tag{3}$$

As $s \to 0$ the fraction tends to $w$. For an infinite width it is $1 / |s|$, if the finite end is the higher one;
otherwise the mass is infinite. So where $a = -\infty$ the first slope has to be positive, and where $b = \infty$ the last
negative.

**Drawing from a piece.** Measured from the higher end, the distance has the distribution function
$(1 - e^{-|s| r}) / (1 - e^{-t})$. If this is $v$, then

$$r = -\frac{1}{|s|} \log \big( 1 - v\, (1 - e^{-t}) \big). \tag{4}$$

If the higher end is on the left, $x = y + r$, and the share $v$ of the mass lies to the left of $x$. If it is on the
right, $x = z - r$, and the share to the left is $1 - v$. As $s \to 0$ the law becomes uniform. Both (3) and (4) subtract
from 1 what may be very near to 1: $e^x - 1$ and $\log(1 + x)$ have functions of their own for that.

**A draw from the hull** chooses a piece in proportion to its mass, and then a point of it. **The test** is that of
rejection sampling with a squeeze: draw $E$ from the exponential law with mean 1 and accept at once if

$$-E \le l(x) - u(x); \tag{5}$$

otherwise compute $h(x)$, and accept if

$$-E \le h(x) - u(x). \tag{6}$$

Whatever was computed refines the hull for the next batch. Given all that came before, each accepted point follows the law
of $f$, so the draws are exact and independent, although the envelope depends on earlier draws.

**Where $f$ is not log-concave**, all of this fails silently, unless one looks: some computed $h(x)$ will be above $u(x)$
or below $l(x)$. Each one is checked.

## Worked example

The standard normal density, $h = -x^2 / 2$ and $s = -x$, with points at $-1$ and $2$. The heights are $-0.5$ and $-2$,
the slopes $1$ and $-2$. The tangents $0.5 + x$ and $2 - 2x$ meet at $z = 0.5$, at a height of $1$. The left piece falls
from there with the slope 1 and has the mass $e^1 / 1 = 2.718$, the right one $e^1 / 2 = 1.359$: two thirds of the points
come from the left. The hull has the mass 4.077, $f$ has $\sqrt{2 \pi} = 2.507$: so 61 % of the points are accepted.

A draw from the left piece with the share $0.25$ to its left: $v = 0.75$, $r = -\log 0.25 = 1.386$,
$x = 0.5 - 1.386 = -0.886$. There $u = -0.386$. The chord from $(-1, -0.5)$ to $(2, -2)$ has the slope $-0.5$ and the
height $l = -0.557$, so that (5) accepts with probability $e^{-0.171} = 0.843$, unseen. By (6), with $h = -0.393$, it is
$e^{-0.007} = 0.993$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `intersections` | points, heights, slopes | where neighbouring tangents meet | (2) |
| `log_mass` | lines and the ends of their pieces | the logarithms of their masses | (3) |
| `piece_quantile` | shares, slopes, ends | the points to the left of which the shares lie | (4) |
| `upper_hull` | points, heights, slopes, the support | a `Hull`, if (1) holds among the points | (1), (2) |
| `bounds` | a hull, points | $u$ and $l$ there | (1) |
| `draw` | a hull | points from it | (3), (4) |
| `accept` | a target, a hull, points | an `Outcome`: which are accepted, and what was computed | (5), (6) |
| `sample` | a target, a few points to start with | `Adaptive`: draws and counts | all of it |

Given are the classes, and `evaluate_target`, which calls a target and checks what it returns.

## Pitfalls

- `nan` where a tangent is horizontal: at the mode, of all places.
- Overflow where a slope is large, or where a piece is infinite.
- The draws of rising pieces are mirrored.
- Points near the ends of pieces come out of their order, or outside the support.
- The program never ends, or slows down as the hull grows.
- The density is evaluated for every draw, although there is a squeeze.

## Cost

$k$ evaluations leave a gap between the hulls of the order of $1 / k^2$: a few dozen serve thousands of draws. A batch of
$n$ points costs $O(n k)$ here; with a search for the right piece it would be $O(n \log k)$.

## Go further

Experiment: count evaluations against draws, from 10 to 100,000. A stretch goal: use it inside a Gibbs sampler, for the
coefficients of a logistic regression one at a time, which is what it was invented for [1]; there one draw is needed of
each density.

What is not here: densities that are not log-concave (see [2]), and hulls without derivatives.

## References

1. Gilks & Wild (1992), Adaptive rejection sampling for Gibbs sampling, https://doi.org/10.2307/2347565
2. Gilks, Best & Tan (1995), Adaptive rejection Metropolis sampling within Gibbs sampling, https://doi.org/10.2307/2986138
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

LogDensityAndSlope = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Takes numbers, of shape (n,); returns the log density and its derivative at each, both of shape (n,)."""

ROUNDING = 1e-8
"""By how much a log density may lie outside its bounds before that counts as a fault."""


@dataclass(frozen=True)
class Hull:
    """Tangents, and the pieces in which each of them is the least.

    Attributes
    ----------
    x, height, slope : ndarray
        Where the log density was computed, in increasing order, its values and its derivatives there.
    edges : ndarray
        The ends of the pieces: the lower end of the support, the intersections (2), the upper end. Tangent i is the least from
        `edges[i]` to `edges[i + 1]`.
    """

    x: Float[np.ndarray, " n_points"]
    height: Float[np.ndarray, " n_points"]
    slope: Float[np.ndarray, " n_points"]
    edges: Float[np.ndarray, " n_points_and_one"]


@dataclass(frozen=True)
class Outcome:
    """What became of the points of a batch.

    Attributes
    ----------
    accepted : ndarray
        Whether each point is accepted.
    x, height, slope : ndarray
        The points at which the log density was computed, in the order of the batch, its values and derivatives there.
    """

    accepted: Bool[np.ndarray, " n"]
    x: Float[np.ndarray, " n_computed"]
    height: Float[np.ndarray, " n_computed"]
    slope: Float[np.ndarray, " n_computed"]


@dataclass(frozen=True)
class Adaptive:
    """What adaptive rejection sampling returns.

    Attributes
    ----------
    draws : ndarray
        The points accepted, in the order in which they were proposed.
    n_tries : int
        How many points were proposed.
    n_evaluations : int
        At how many points the log density was computed, those of the start included.
    hull : Hull
        The last hull.
    """

    draws: Float[np.ndarray, " n_draws"]
    n_tries: int
    n_evaluations: int
    hull: Hull


def evaluate_target(  # given: a careful call
    log_density_fn: LogDensityAndSlope, x: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Return the log density and its derivative at each point, and refuse what is none.

    Parameters
    ----------
    log_density_fn : callable
        The target.
    x : ndarray
        Points inside its support.

    Returns
    -------
    height, slope : ndarray
        What the target returned.

    Raises
    ------
    ValueError
        If these are not two vectors as long as `x`, or not finite.

    Examples
    --------
    >>> print(evaluate_target(lambda x: (-(x**2) / 2, -x), np.array([2.0])))
    (array([-2.]), array([-2.]))
    """
    height, slope = (np.asarray(a, dtype=np.float64) for a in log_density_fn(x))
    if height.shape != x.shape or slope.shape != x.shape:
        raise ValueError(f"log_density_fn must return two shapes {x.shape}, got {height.shape} and {slope.shape}")
    if not (finite := np.isfinite(height) & np.isfinite(slope)).all():
        row = int(np.argmin(finite))
        raise ValueError(f"log_density_fn must be finite, got {height[row]} with slope {slope[row]} at {x[row]}")
    return height, slope


def intersections(
    x: Float[np.ndarray, " n_points"], height: Float[np.ndarray, " n_points"], slope: Float[np.ndarray, " n_points"]
) -> Float[np.ndarray, " n_points_less_one"]:
    """Return where neighbouring tangents meet, by (2).

    Parameters
    ----------
    x : ndarray
        Where the tangents touch, in increasing order.
    height, slope : ndarray
        The log density and its derivative there.

    Returns
    -------
    ndarray
        One place for each pair of neighbours. It lies between the two in any case, whatever rounding does: what would come out
        beyond one of them is that one. It is the middle between them where the slopes are equal.

    Examples
    --------
    >>> print(intersections(np.array([-1.0, 2.0, 3.0]), np.array([-0.5, -2.0, -4.0]), np.array([1.0, -2.0, -2.0])))
    [0.5 2.5]
    """
    width, bend = np.diff(x), slope[:-1] - slope[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        step = (np.diff(height) - slope[1:] * width) / bend
    return x[:-1] + np.where(bend == 0, width / 2, np.clip(step, 0, width))


def log_mass(
    x: Float[np.ndarray, " n_points"],
    height: Float[np.ndarray, " n_points"],
    slope: Float[np.ndarray, " n_points"],
    left: Float[np.ndarray, " n_points"],
    right: Float[np.ndarray, " n_points"],
) -> Float[np.ndarray, " n_points"]:
    r"""Return the logarithm of the integral (3) of each piece.

    Parameters
    ----------
    x, height, slope : ndarray
        A point of each line, finite, its height there, and the slope of the line.
    left, right : ndarray
        The ends of each piece. If one is infinite, the line falls towards it. `x` lies between them, or at one of them.

    Returns
    -------
    ndarray
        The log masses, to nearly full precision for any slope from 0 to 1e5 or more, without overflow and without a warning;
        -inf where the width is 0.

    Examples
    --------
    >>> masses = log_mass(
    ...     np.zeros(2), np.zeros(2), np.array([2.0, 0.0]), np.array([-np.inf, -1.0]), np.array([0.0, 3.0])
    ... )
    >>> print(np.exp(masses).round(4))
    [0.5 4. ]
    """
    end, width = np.where(slope > 0, right, left), right - left
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(slope) * width
        # below 1e-17, 1 - exp(-t) is t to all digits, and a slope that is nearly 0 has few of them
        log_length = np.where(t < 1e-17, np.log(width), np.log(-np.expm1(-t)) - np.log(np.abs(slope)))
    return height + slope * (end - x) + log_length


def piece_quantile(
    u: Float[np.ndarray, " n"],
    slope: Float[np.ndarray, " n"],
    left: Float[np.ndarray, " n"],
    right: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    r"""Return the point of each piece to the left of which there is the share u of its mass, by (4).

    Parameters
    ----------
    u : ndarray
        A share for each piece, above 0 and below 1.
    slope : ndarray
        The slope of each.
    left, right : ndarray
        The ends of each. If one is infinite, the line falls towards it.

    Returns
    -------
    ndarray
        The points, never outside their pieces, for any slope from 0 to 1e5 or more, without a warning.

    Examples
    --------
    >>> ends = np.array([-np.inf, 1.0]), np.array([0.5, 2.0])
    >>> print(piece_quantile(np.array([0.25, 0.25]), np.array([1.0, 0.0]), *ends).round(4))
    [-0.8863  1.25  ]
    """
    width, steepness = right - left, np.abs(slope)
    rising = slope > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        t = steepness * width
        share = np.where(rising, 1 - u, u)
        distance = np.where(t < 1e-17, share * width, -np.log1p(share * np.expm1(-t)) / steepness)
    return np.clip(np.where(rising, right - distance, left + distance), left, right)


def upper_hull(
    x: Float[np.ndarray, " n_points"],
    height: Float[np.ndarray, " n_points"],
    slope: Float[np.ndarray, " n_points"],
    *,
    lower: float = -math.inf,
    upper: float = math.inf,
) -> Hull:
    """Return the hull of the tangents, if the points are those of a concave function and its mass is finite.

    Parameters
    ----------
    x : ndarray
        Where the tangents touch, in increasing order.
    height, slope : ndarray
        The log density and its derivative there.
    lower, upper : float
        The ends of the support.

    Returns
    -------
    Hull
        The tangents and the edges of their pieces, `lower` and `upper` among them.

    Raises
    ------
    ValueError
        If `x` is empty, not increasing or not between `lower` and `upper`; if a mass is infinite, as the line does not fall towards an infinite end;
        or if a point lies above the tangent at another one by more than `ROUNDING` times the larger of 1 and the size of its height:
        equation (1) fails then. The message begins with "log_density_fn must" and ends with the x for which the excess over the
        least of the tangents is greatest.

    Examples
    --------
    >>> upper_hull(np.array([-1.0, 2.0]), np.array([-0.5, -2.0]), np.array([1.0, -2.0])).edges
    array([-inf,  0.5,  inf])
    >>> upper_hull(np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.array([1.0, -1.0]))
    Traceback (most recent call last):
    ValueError: log_density_fn must be log-concave, but is 2 above a tangent at 2.0
    """
    # given: the checks of the points and of their ends
    if len(x) == 0 or not (np.diff(x) > 0).all() or not (lower <= x[0] and x[-1] <= upper):
        raise ValueError(f"x must increase from lower = {lower} to upper = {upper}, got {x}")
    if (math.isinf(lower) and not slope[0] > 0) or (math.isinf(upper) and not slope[-1] < 0):
        raise ValueError(f"x must reach where the density falls towards an infinite end, got slopes {slope[[0, -1]]}")
    # yours
    tangents = height + slope * (x[:, None] - x)
    excess = height - tangents.min(axis=1)
    worst = int(np.argmax(excess))
    if excess[worst] > ROUNDING * max(1.0, abs(height[worst])):
        raise ValueError(
            f"log_density_fn must be log-concave, but is {excess[worst]:.3g} above a tangent at {x[worst]}"
        )
    return Hull(x, height, slope, np.concatenate([[lower], intersections(x, height, slope), [upper]]))


def bounds(hull: Hull, points: Float[np.ndarray, " n"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Return the upper and the lower hull at some points.

    Parameters
    ----------
    hull : Hull
        The tangents.
    points : ndarray
        Where to compute the bounds, in any order.

    Returns
    -------
    upper : ndarray
        The least of the tangents at each point.
    lower : ndarray
        The chord between the two neighbours of each point; the height itself at one of `hull.x`; -inf outside of the first and the last
        of them.

    Examples
    --------
    >>> hull = upper_hull(np.array([-1.0, 2.0]), np.array([-0.5, -2.0]), np.array([1.0, -2.0]))
    >>> print(bounds(hull, np.array([0.0, 3.0])))
    (array([ 0.5, -4. ]), array([ -1., -inf]))
    """
    upper = (hull.height + hull.slope * (points[:, None] - hull.x)).min(axis=1)
    return upper, np.interp(points, hull.x, hull.height, left=-np.inf, right=-np.inf)


def draw(hull: Hull, n: int, *, rng: np.random.Generator) -> Float[np.ndarray, " n"]:
    """Draw independent points from the density that is proportional to the exponential of the upper hull.

    Parameters
    ----------
    hull : Hull
        The tangents and their pieces.
    n : int
        How many points.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The points. No two depend on each other, and their order is that in which they were drawn.

    Examples
    --------
    >>> hull = upper_hull(np.array([-1.0, 2.0]), np.array([-0.5, -2.0]), np.array([1.0, -2.0]))
    >>> points = draw(hull, 10_000, rng=np.random.default_rng(0))
    >>> print(f"{np.mean(points < 0.5):.2f}")
    0.66
    """
    # given: shares above 0 and below 1, the middles of 2^52 equal cells
    share = (rng.integers(0, 2**52, n) + 0.5) / 2.0**52
    # yours
    log_masses = log_mass(hull.x, hull.height, hull.slope, hull.edges[:-1], hull.edges[1:])
    masses = np.exp(log_masses - log_masses.max())
    piece = rng.choice(len(masses), size=n, p=masses / masses.sum())
    return piece_quantile(share, hull.slope[piece], hull.edges[piece], hull.edges[piece + 1])


def accept(
    log_density_fn: LogDensityAndSlope, hull: Hull, points: Float[np.ndarray, " n"], *, rng: np.random.Generator
) -> Outcome:
    """Decide about points drawn from the hull: by the squeeze (5), and by (6) where that does not accept.

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density and its derivative. Call it through the given `evaluate_target`, once with all points that the
        squeeze did not accept, in their order; or not at all, if there are none.
    hull : Hull
        Where the points come from.
    points : ndarray
        What was drawn.
    rng : numpy.random.Generator
        Source of randomness: one coin for each point.

    Returns
    -------
    Outcome
        Which points are accepted; and the points at which the log density was computed, with what it is there, empty arrays if there are none.

    Raises
    ------
    ValueError
        If a log density that was computed lies above the upper or below the lower hull by more than `ROUNDING` times the larger of 1
        and its size. The message begins with "log_density_fn must" and ends with the first such point.

    Examples
    --------
    >>> def normal(x):
    ...     return -(x**2) / 2, -x
    >>> x = np.array([-1.0, 2.0])
    >>> outcome = accept(normal, upper_hull(x, *normal(x)), np.array([-1.0, 0.5, 2.5]), rng=np.random.default_rng(1))
    >>> print(outcome.accepted, outcome.x)
    [ True False  True] [0.5 2.5]
    """
    upper, lower = bounds(hull, points)
    coin = -rng.standard_exponential(len(points))
    accepted = coin <= lower - upper
    left = ~accepted
    if not left.any():
        return Outcome(accepted, np.empty(0), np.empty(0), np.empty(0))
    height, slope = evaluate_target(log_density_fn, points[left])
    excess = np.maximum(height - upper[left], lower[left] - height)
    if (wrong := excess > ROUNDING * np.maximum(1.0, np.abs(height))).any():
        row = int(np.argmax(wrong))
        raise ValueError(f"log_density_fn must be log-concave, but is {excess[row]:.3g} off at {points[left][row]}")
    accepted[left] = coin[left] <= height - upper[left]
    return Outcome(accepted, points[left], height, slope)


def _refined(hull: Hull, outcome: Outcome, max_points: int) -> Hull:
    """The hull with the computed points among its tangents, as far as there is room."""
    room = max(max_points - len(hull.x), 0)
    x, first = np.unique(np.concatenate([hull.x, outcome.x[:room]]), return_index=True)
    height, slope = np.concatenate([hull.height, outcome.height]), np.concatenate([hull.slope, outcome.slope])
    return upper_hull(x, height[first], slope[first], lower=hull.edges[0], upper=hull.edges[-1])


def sample(
    log_density_fn: LogDensityAndSlope,
    start: Float[np.ndarray, " n_start"],
    n_draws: int,
    *,
    lower: float = -math.inf,
    upper: float = math.inf,
    max_points: int = 50,
    max_tries: int = 1_000_000,
    rng: np.random.Generator,
) -> Adaptive:
    """Draw from a log-concave density, refining the hull after each batch.

    The first batch has as many points as `start`, each later one twice as many as the one before; but never more than
    there are draws still missing, nor more than is left of `max_tries`.

    Parameters
    ----------
    log_density_fn : callable
        Takes numbers inside the support, of shape (n,), and returns the log density, up to a constant, and its derivative, both of shape (n,).
    start : ndarray
        Where the first tangents touch, in increasing order. Where the support is infinite, the density falls towards that end from the outermost point.
    n_draws : int
        How many draws are wanted.
    lower, upper : float
        The ends of the support.
    max_points : int
        As long as the hull has fewer points than this, it gets those of each batch at which the log density was computed, in their order,
        as many as there is room for. A point that it has already is not added again.
    max_tries : int
        No more points than this are proposed altogether.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Adaptive
        With four fields: `draws`, the points accepted, in the order in which they were proposed, of shape (n_draws,); `n_tries`, how many
        points were proposed; `n_evaluations`, at how many points the log density was computed, those of `start` included; `hull`, the last one.

    Raises
    ------
    ValueError
        If the density is found not to be log-concave, `start` does not do, `n_draws` is below 1, or `max_tries` points have given fewer than `n_draws` draws: then the
        message begins with "max_tries must" and ends with `max_tries`.

    Examples
    --------
    >>> result = sample(lambda x: (-(x**2) / 2, -x), np.array([-1.0, 2.0]), 10_000, rng=np.random.default_rng(0))
    >>> print(f"{result.draws.var():.2f} {result.n_evaluations < 200}")
    0.98 True
    """
    # given: the checks, and the first hull
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    if start.ndim != 1 or not np.isfinite(start).all():
        raise ValueError(f"start must be a vector of finite numbers, got {start}")
    height, slope = evaluate_target(log_density_fn, start)
    hull = upper_hull(start.astype(float), height, slope, lower=float(lower), upper=float(upper))
    # yours
    draws, size, n_tries, n_evaluations = np.empty(0), len(start), 0, len(start)
    while len(draws) < n_draws:
        if n_tries == max_tries:
            raise ValueError(f"max_tries must suffice for {n_draws} draws; there were {len(draws)} after {max_tries}")
        points = draw(hull, min(size, n_draws - len(draws), max_tries - n_tries), rng=rng)
        outcome = accept(log_density_fn, hull, points, rng=rng)
        draws = np.concatenate([draws, points[outcome.accepted]])
        n_tries, n_evaluations = n_tries + len(points), n_evaluations + len(outcome.x)
        hull, size = _refined(hull, outcome, max_points), 2 * size
    return Adaptive(draws, n_tries, n_evaluations, hull)
