r"""The No-U-Turn sampler's trajectory: grow a path in both directions until it turns round, and choose one of its points.

## Idea

Hamiltonian Monte Carlo asks how many steps to roll: with too few the chain walks at random, with too many it comes back
to where it was. The No-U-Turn sampler looks at the path itself and stops when its ends begin to approach each other. A
rule of that kind easily spoils the law of the draws, since from another point of the same path one might have stopped
elsewhere. Two ideas repair it: the path is grown by doubling, forward or backward at random, so that each of its points
would have grown the same path as easily; and the next state is drawn from all points of the path by their weights.

## Maths

**Points of an orbit.** A point is a position $q$ with a momentum $p$, its velocity $v = M^{-1} p$ and its energy

$$H = \frac{1}{2} p^\top v - \log \pi(q). \tag{1}$$

Leapfrog steps of size $\varepsilon$ forward and $-\varepsilon$ backward lead from the start $z_0$ to $z_1, z_2, \dots$
and to $z_{-1}, z_{-2}, \dots$ They preserve volume and can be run back, so from any $z_i$ we find the same orbit. Let the
*weight* of a point be

$$w_i = e^{-(H_i - H_0)}. \tag{2}$$

A rule that moves from $z_i$ to $z_j$ with probability $K_{ij}$ keeps the density $e^{-H}$, and so $\pi$, if
$\sum_i w_i K_{ij} = w_j$ for all $j$.

**Doubling.** A tree begins as the start alone. In each round it gets as many new points as it has, all of them on its
right (forward in time) or all on its left, by the toss of a fair coin. After $j$ rounds it holds $2^j$ points in a row,
and the start may be any of them, each by one sequence of tosses, with probability $2^{-j}$. So if it were always $j$
rounds, then drawing a point of the tree in proportion to the weights would keep $e^{-H}$: given the tree, the start is
any of its points in proportion to $w$, and so is the draw.

**U-turn.** The distance of the ends, $\|q_b - q_a\|^2 / 2$, changes with time at the rate $v_b^\top (q_b - q_a)$. In a
metric where the mass matters, the displacement is replaced by the integral of the momentum, here by the sum of the
momenta of all points of the tree,

$$\rho = \sum_{i=a}^{b} p_i, \tag{3}$$

and the tree has *turned* unless

$$v_a^\top \rho > 0 \quad \text{and} \quad v_b^\top \rho > 0. \tag{4}$$

A tree of two halves $L$ (from $a$ to $m$) and $R$ (from $m + 1$ to $b$) can jump over its turning: after a full round the
sums are small again and point anywhere. So two overlapping pieces are looked at as well: $L$ with the first point of $R$,
and the last point of $L$ with $R$. The tree has turned if (4) fails for one of the three

$$(v_a, v_b, \rho_L + \rho_R), \qquad (v_a, v_{m+1}, \rho_L + p_{m+1}), \qquad (v_m, v_b, p_m + \rho_R). \tag{5}$$

**Stopping without bias.** If the whole tree turns, no more rounds are made. But if a piece of the new half turns within
itself, then some start within it would have stopped before it could reach the old half. To go there would be a way
without a way back. So each half is itself a tree of trees, all of them looked at by (5), down to two points; and where
one has turned, the new half is thrown away, and the rounds end. If the new half is fine and only the tree as a whole has
turned, its points stay in the draw.

**The draw.** It is made while the tree grows, so that no more than one candidate a subtree is kept. Within the new half,
all counts evenly: when two trees of total weights $W$ and $W'$ are joined, the candidate of the second replaces that of
the first with probability

$$\frac{W'}{W + W'}, \tag{6}$$

and by induction the candidate is drawn in proportion to the weights. When the new half joins the old tree, far points are
preferred:

$$\min\Big\{ 1, \frac{W'}{W} \Big\}. \tag{7}$$

That is right, too. Let the start be in either half in proportion to the weights. What flows from the old half to a point
of weight $w'$ in the new one is $W \min\{1, W' / W\}\, w' / W' = \min\{W, W'\}\, w' / W'$. A start in the new half has
the old one as its new half, and stays with what is left, $(W' - \min\{W, W'\})\, w' / W'$. Both together are $w'$.

**Divergence.** The steps no longer follow the motion, and the new half is thrown away as if a piece of it had turned, if
at a point

$$H_i - H_0 > 1000 \quad \text{or is not a number.} \tag{8}$$

**Acceptance.** To adapt the step size, all points that were computed are asked how acceptable they were, those of a
discarded half included and the start not:

$$\bar\alpha = \frac{1}{n} \sum_{i} \min\{ 1, e^{-(H_i - H_0)} \}. \tag{9}$$

## Worked example

In the plane with $\pi = \mathcal{N}(0, I)$ and $M = I$, leapfrog steps turn round a circle: if $p$ is orthogonal to $q$
and has the length $\sqrt{1 - \varepsilon^2 / 4}\, \|q\|$, then each step turns position and momentum by the angle
$\theta$ with $\cos\theta = 1 - \varepsilon^2 / 2$, and all weights are 1. A row of $n$ momenta of length 1 has the sum

$$\frac{\sin(n \theta / 2)}{\sin(\theta / 2)} \quad \text{in the direction of the middle, so} \quad v_b^\top \rho = \frac{\sin(n \theta / 2)}{\sin(\theta / 2)} \cos\Big( \frac{(n - 1) \theta}{2} \Big).$$

With $\theta = 100^\circ$: for two points it is $1.286 \cdot 0.643 = 0.826$, no turn. For four,
$-0.446 \cdot (-0.866) = 0.387$: no turn either, it seems, after $300^\circ$. But the first three of them have
$0.653 \cdot (-0.174) = -0.113$. By (5) they have turned.

Joining trees of weights $W = 3$ and $W' = 1$: by (6) the new candidate wins with probability $1/4$, by (7) with $1/3$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `has_turned` | two velocities, a sum of momenta | whether they fail | (4) |
| `log_chance` | two log weights | the log probability of the new candidate | (6), (7) |
| `leaf` | a `Point`, the energy at the start | a `Tree` of that point | (2), (8), (9) |
| `turns_across` | two neighbouring trees | whether they turn together | (5) |
| `merge` | an old tree and a new one | the joint tree | (3), (5), (6), (7) |
| `build` | a point at the end of a tree | a new half of $2^{\text{depth}}$ points | steps and joints |
| `explore` | the start | the whole tree | doubling |
| `step` | a `System`, a point | the tree grown with a fresh momentum | all |

One chain at a time. Given are the classes; `place`, which makes a point of a position and a momentum; `roll`, one
leapfrog step; `push`, which gives a point another momentum; and `seed`, the tree of the start alone.

## Pitfalls

- The draws are right on a normal distribution, and too narrow, or too wide, on others: see which halves stay in the draw.
- The law is right only if the coin always falls on one side.
- Chains that run in circles: trees of many steps whose ends are near each other.
- The step size is adapted to nothing: the discarded halves were forgotten in (9).
- `nan` instead of a divergence, or overflow where a point is far better than the start.
- Going left, what is built first is on the right.

## Cost

One gradient and one log density a step; a tree of depth $j$ makes $2^j - 1$ steps, and remembers $O(j)$ points. The next
state is on average far from the start, for about twice the steps that the best fixed number would need.

## Go further

Experiment: leave out the two overlapping pieces of (5), and count the steps for round targets and various step sizes. A
stretch goal: grow the tree without recursion, with a list of $j$ points.

What is not here: the choice of step size and mass, which is `warm_up`. Departures from Hoffman and Gelman [1]: weights
instead of a slice, and $\rho$ instead of the displacement, as Betancourt [2] has it and Stan does, with the additional
checks of Stan since 2019 [3].

## References

1. Hoffman & Gelman (2014), The No-U-Turn sampler, https://arxiv.org/abs/1111.4246
2. Betancourt (2017), A conceptual introduction to Hamiltonian Monte Carlo, appendix A, https://arxiv.org/abs/1701.02434
3. Stan reference manual, MCMC sampling, https://mc-stan.org/docs/reference-manual/mcmc.html
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from mlpath.bayes._shared import Gradient, LogDensity

LIMIT = 1000.0
"""An energy error above this is a divergence."""

# What is called for each step of a trajectory has its return annotation in quotes: the tests then do not check it at each call.


@dataclass(frozen=True)
class System:
    """What a chain rolls on, and how. It is checked when it is made.

    Attributes
    ----------
    log_density_fn, gradient_fn : callable
        The log density of each row, up to a constant, and its gradient, as everywhere in this room. They are called with one row.
    step_size : float
        Of a leapfrog step.
    inverse_mass : ndarray
        The diagonal of the inverse mass, of shape (dim,), or the whole of it, (dim, dim).
    root : ndarray
        Made of it: `root * z`, or `root @ z` where it is a matrix, has the covariance M if z is standard normal.

    Examples
    --------
    >>> print(System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.array([4.0, 0.25])).root)
    [0.5 2. ]
    """

    log_density_fn: LogDensity
    gradient_fn: Gradient
    step_size: float
    inverse_mass: Float[np.ndarray, "..."]
    root: Float[np.ndarray, "..."] = field(init=False)

    def __post_init__(self) -> None:  # given
        """Check the numbers, and find the root."""
        if not 0 < self.step_size < math.inf:
            raise ValueError(f"step_size must be positive and finite, got {self.step_size}")
        object.__setattr__(self, "root", _root(self.inverse_mass))


@dataclass(frozen=True)
class Point:
    """A position with a momentum, and what is known there.

    Attributes
    ----------
    position, momentum, velocity : ndarray
        $q$, $p$ and $v$, of shape (dim,).
    log_density : float
        Of the position.
    gradient : ndarray
        Of the log density there.
    energy : float
        $H$ of equation (1); infinite or NaN where the path went astray.
    """

    position: Float[np.ndarray, " dim"]
    momentum: Float[np.ndarray, " dim"]
    velocity: Float[np.ndarray, " dim"]
    log_density: float
    gradient: Float[np.ndarray, " dim"]
    energy: float


@dataclass(frozen=True)
class Tree:
    r"""Some neighbouring points of an orbit, in short.

    Attributes
    ----------
    left, right : Point
        The first and the last of them in time.
    choice : Point
        The candidate: one of the points, drawn by (6) and (7).
    total : ndarray
        $\rho$, the sum (3) of the momenta of all of them.
    log_weight : float
        The logarithm of the sum of their weights (2).
    depth : int
        There are $2^{\text{depth}}$ of them.
    n_steps : int
        How many leapfrog steps were made for this tree, those of a discarded half included.
    acceptance : float
        The sum in (9), over the points at the ends of these steps.
    turning, divergent : bool
        Why the tree has to grow no further, if so.

    Examples
    --------
    >>> nothing = Point(np.zeros(1), np.zeros(1), np.zeros(1), 0.0, np.zeros(1), 0.0)
    >>> Tree(nothing, nothing, nothing, np.zeros(1), 0.0, 0, 1, 1.0, turning=True, divergent=False).stopped
    True
    """

    left: Point
    right: Point
    choice: Point
    total: Float[np.ndarray, " dim"]
    log_weight: float
    depth: int
    n_steps: int
    acceptance: float
    turning: bool
    divergent: bool

    @property
    def stopped(self) -> bool:  # given
        """Whether the tree has to grow no further."""
        return self.turning or self.divergent


def place(  # given
    system: System, position: Float[np.ndarray, " dim"], momentum: Float[np.ndarray, " dim"]
) -> "Point":
    """Make a point of a position and a momentum: one call of the log density, and one of the gradient.

    Parameters
    ----------
    system : System
        What the chain rolls on.
    position, momentum : ndarray
        Of shape (dim,).

    Returns
    -------
    Point
        With the energy (1). Where the position is not finite, nothing is called, and log density, gradient and energy are NaN.

    Raises
    ------
    ValueError
        If `log_density_fn` returns +inf, or one of the two another shape than they should.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> print(place(system, np.array([1.0]), np.array([0.5])).energy)
    0.625
    """
    velocity, (log_density, gradient) = _velocity(system, momentum), _evaluate(system, position)
    return Point(position, momentum, velocity, log_density, gradient, momentum.dot(velocity) / 2 - log_density)


def push(system: System, point: Point, momentum: Float[np.ndarray, " dim"]) -> "Point":  # given
    """Give a point another momentum, without a call of the log density or the gradient.

    Parameters
    ----------
    system : System
        What the chain rolls on.
    point : Point
        Where.
    momentum : ndarray
        Of shape (dim,).

    Returns
    -------
    Point
        With velocity and energy of this momentum.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> print(push(system, place(system, np.array([1.0]), np.array([0.5])), np.array([2.0])).energy)
    2.5
    """
    velocity = _velocity(system, momentum)
    energy = momentum.dot(velocity) / 2 - point.log_density
    return Point(point.position, momentum, velocity, point.log_density, point.gradient, energy)


def roll(system: System, point: Point, direction: int) -> "Point":  # given
    """Make one leapfrog step.

    Parameters
    ----------
    system : System
        What the chain rolls on.
    point : Point
        Where from.
    direction : int
        1 to go forward in time, -1 to go back.

    Returns
    -------
    Point
        Where to: one call of the log density, and one of the gradient, as in `place`.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> there = roll(system, place(system, np.array([1.0]), np.array([0.5])), 1)
    >>> print(there.position, there.momentum, roll(system, there, -1).position)
    [1.125] [-0.03125] [1.]
    """
    size = direction * system.step_size
    half = point.momentum + size / 2 * point.gradient
    position = point.position + size * _velocity(system, half)
    log_density, gradient = _evaluate(system, position)
    momentum = half + size / 2 * gradient
    velocity = _velocity(system, momentum)
    return Point(position, momentum, velocity, log_density, gradient, momentum.dot(velocity) / 2 - log_density)


def _velocity(system: System, momentum: np.ndarray) -> np.ndarray:  # given
    """Return M^-1 p."""
    return system.inverse_mass * momentum if system.inverse_mass.ndim == 1 else system.inverse_mass.dot(momentum)


def _evaluate(system: System, position: np.ndarray) -> tuple[float, np.ndarray]:  # given
    """Return log density and gradient at a position; NaN, and no call, if it is not finite."""
    if not math.isfinite(position.dot(position)) and not np.isfinite(position).all():
        return math.nan, np.full(position.shape, math.nan)
    row = position[None]
    density, gradient = np.asarray(system.log_density_fn(row), float), np.asarray(system.gradient_fn(row), float)
    if density.shape != (1,):
        raise ValueError(f"log_density_fn must return shape (1,), got {density.shape}")
    if gradient.shape != row.shape:
        raise ValueError(f"gradient_fn must return shape {row.shape}, got {gradient.shape}")
    log_density = density.item()
    if log_density == math.inf:
        raise ValueError(f"log_density_fn must not be +inf, got it at {position}")
    return log_density, gradient[0]


def seed(point: Point) -> "Tree":  # given
    """Return the tree of the start alone: its weight is 1, no step was made for it, and it has not stopped.

    Parameters
    ----------
    point : Point
        The start.

    Returns
    -------
    Tree
        Of depth 0.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> print(seed(place(system, np.array([1.0]), np.array([0.5]))).n_steps)
    0
    """
    return Tree(point, point, point, point.momentum, 0.0, 0, 0, 0.0, False, False)


def has_turned(
    first: Float[np.ndarray, " dim"], last: Float[np.ndarray, " dim"], total: Float[np.ndarray, " dim"]
) -> "bool":
    r"""Return whether a piece of an orbit has turned: whether (4) fails.

    Parameters
    ----------
    first, last : ndarray
        The velocities $v_a$ and $v_b$ at its ends.
    total : ndarray
        The sum $\rho$ of its momenta.

    Returns
    -------
    bool
        True also where a product is 0, or NaN.

    Examples
    --------
    >>> first, last = np.array([1.0, 0.0]), np.array([0.6, 0.8])
    >>> has_turned(first, last, np.array([1.6, 0.8])), has_turned(first, last, np.array([1.0, -1.0]))
    (False, True)
    """
    return not (first.dot(total) > 0 and last.dot(total) > 0)


def log_chance(old: float, new: float, *, biased: bool) -> float:
    """Return the logarithm of the probability with which the new candidate replaces the old one.

    Parameters
    ----------
    old, new : float
        The log weights of the two trees, of any size, without overflow. That of the old one is finite; that of the new one may be
        -inf.
    biased : bool
        Whether to prefer the new, equation (7), or to count all points evenly, equation (6).

    Returns
    -------
    float
        At most 0.

    Examples
    --------
    >>> print(f"{np.exp(log_chance(np.log(3.0), 0.0, biased=False)):.4f}")
    0.2500
    >>> print(f"{np.exp(log_chance(np.log(3.0), 0.0, biased=True)):.4f}")
    0.3333
    """
    return min(0.0, new - old) if biased else float(new - np.logaddexp(old, new))


def leaf(point: Point, energy: float) -> "Tree":
    """Return the tree of a point that one leapfrog step has led to.

    Parameters
    ----------
    point : Point
        The only point of the tree.
    energy : float
        $H_0$, that of the start.

    Returns
    -------
    Tree
        Of depth 0, with one step. `divergent` is by (8). Of a divergent point, `acceptance` is 0 and `log_weight` -inf.
        Nothing overflows, however much better the point is than the start.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> tree = leaf(place(system, np.array([1.0]), np.array([1.0])), 0.6)
    >>> print(f"{tree.log_weight:.1f} {tree.acceptance:.4f} {tree.divergent}")
    -0.4 0.6703 False
    """
    error = point.energy - energy
    divergent = not error <= LIMIT
    log_weight = -math.inf if divergent else -error
    acceptance = math.exp(min(0.0, log_weight))
    return Tree(point, point, point, point.momentum, log_weight, 0, 1, acceptance, False, divergent)


def turns_across(left: Tree, right: Tree) -> "bool":
    """Return whether two neighbouring trees turn together: whether (4) fails for one of the three of (5).

    Parameters
    ----------
    left, right : Tree
        The earlier and the later one in time, of equal size, neither of them stopped.

    Returns
    -------
    bool
        Whether they do.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> trees = [leaf(place(system, np.zeros(1), np.array([p])), 0.0) for p in (2.0, 1.0, -1.5)]
    >>> turns_across(*trees[:2]), turns_across(*trees[1:])
    (False, True)
    """
    first, last, total = left.left.velocity, right.right.velocity, left.total + right.total
    return (
        has_turned(first, last, total)
        or has_turned(first, right.left.velocity, left.total + right.left.momentum)
        or has_turned(left.right.velocity, last, left.right.momentum + right.total)
    )


def merge(old: Tree, new: Tree, direction: int, *, biased: bool, rng: np.random.Generator) -> "Tree":
    """Join a tree with a new one that begins where it ends.

    Parameters
    ----------
    old, new : Tree
        Of equal size, unless `new` has stopped. `old` has not.
    direction : int
        1 if `new` is on the right of `old`, later in time; -1 if on its left.
    biased : bool
        By which rule the candidate is chosen, as in `log_chance`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Tree
        All points of both, of which one of the two candidates is chosen; `turning` says whether they turn across, by (5), though the points are kept if so. `depth` is one more.
        But if `new` has stopped, its points are not used: the tree is `old`, with the marks `turning` and `divergent` of `new`. In both cases `n_steps` and
        `acceptance` are those of both together.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.5, np.ones(1))
    >>> start = place(system, np.array([0.0]), np.array([1.0]))
    >>> new = leaf(roll(system, start, -1), start.energy)
    >>> tree = merge(seed(start), new, -1, biased=True, rng=np.random.default_rng(0))
    >>> print(tree.left.position, tree.right.position, tree.total, tree.turning)
    [-0.5] [0.] [1.875] False
    """
    n_steps, acceptance = old.n_steps + new.n_steps, old.acceptance + new.acceptance
    if new.stopped:
        return replace(old, n_steps=n_steps, acceptance=acceptance, turning=new.turning, divergent=new.divergent)
    left, right = (old, new) if direction == 1 else (new, old)
    wins = -rng.standard_exponential() < log_chance(old.log_weight, new.log_weight, biased=biased)
    return Tree(
        left=left.left,
        right=right.right,
        choice=new.choice if wins else old.choice,
        total=old.total + new.total,
        log_weight=float(np.logaddexp(old.log_weight, new.log_weight)),
        depth=old.depth + 1,
        n_steps=n_steps,
        acceptance=acceptance,
        turning=turns_across(left, right),
        divergent=False,
    )


def build(
    system: System, point: Point, direction: int, depth: int, *, energy: float, rng: np.random.Generator
) -> "Tree":
    r"""Build a new half, all on one side of a point.

    Parameters
    ----------
    system : System
        What the chain rolls on.
    point : Point
        The end of the old tree. It does not belong to the new one, which begins one step further.
    direction : int
        1 to go forward in time, -1 to go back.
    depth : int
        0 or more.
    energy : float
        $H_0$, that of the start.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Tree
        $2^{\text{depth}}$ points, of which `choice` is drawn by (6). For a depth of 1 or more it consists of two halves of half as many points, of which the one next to `point` is built
        first, in the same way; all of them are looked at by (5). As soon as a point diverges or a half has turned, no more steps are made: then only
        `n_steps`, `acceptance`, `turning` and `divergent` matter, the first two of all steps made.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.125, np.ones(1))
    >>> start = place(system, np.array([0.0]), np.array([1.0]))
    >>> tree = build(system, start, -1, 3, energy=start.energy, rng=np.random.default_rng(0))
    >>> print(tree.n_steps, tree.left.position.round(2), tree.right.position, tree.turning)
    8 [-0.84] [-0.125] False
    """
    if depth == 0:
        return leaf(roll(system, point, direction), energy)
    near = build(system, point, direction, depth - 1, energy=energy, rng=rng)
    if near.stopped:
        return near
    end = near.right if direction == 1 else near.left
    far = build(system, end, direction, depth - 1, energy=energy, rng=rng)
    return merge(near, far, direction, biased=False, rng=rng)


@np.errstate(all="ignore")
def explore(system: System, start: Point, *, rng: np.random.Generator, max_depth: int = 10) -> "Tree":
    """Grow the tree of a start by doubling, until it stops or is deep enough.

    Parameters
    ----------
    system : System
        What the chain rolls on.
    start : Point
        Position and momentum to start with.
    rng : numpy.random.Generator
        Source of randomness.
    max_depth : int
        After so many rounds it is enough.

    Returns
    -------
    Tree
        In each round a new half, as large as the tree, is built on one of its sides, each with probability 1/2, and joined by
        (7). The rounds end after the first whose tree has stopped. `choice` is the next state, in any case.

    Raises
    ------
    ValueError
        If `max_depth` is below 1.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.125, np.ones(1))
    >>> start = place(system, np.array([0.0]), np.array([1.0]))
    >>> tree = explore(system, start, rng=np.random.default_rng(0), max_depth=2)
    >>> tree.depth, tree.n_steps, tree.stopped
    (2, 3, False)
    """
    # given: the check
    if max_depth < 1:
        raise ValueError(f"max_depth must be at least 1, got {max_depth}")
    # yours
    tree = seed(start)
    for depth in range(max_depth):
        direction = 1 if rng.random() < 0.5 else -1
        end = tree.right if direction == 1 else tree.left
        new = build(system, end, direction, depth, energy=start.energy, rng=rng)
        tree = merge(tree, new, direction, biased=True, rng=rng)
        if tree.stopped:
            break
    return tree


def step(system: System, point: Point, *, rng: np.random.Generator, max_depth: int = 10) -> "Tree":
    r"""Make one transition: give the position a fresh momentum from $\mathcal{N}(0, M)$, and explore.

    Parameters
    ----------
    system : System
        What the chain rolls on. Its `root` serves to draw the momentum.
    point : Point
        Where the chain is. Its momentum, velocity and energy are of no interest.
    rng : numpy.random.Generator
        Source of randomness.
    max_depth : int
        After so many doublings it is enough.

    Returns
    -------
    Tree
        Of which `choice` is the next point of the chain, `acceptance / n_steps` is (9), and `n_steps` is the number of gradients computed: that at the position
        is known.

    Examples
    --------
    >>> system = System(lambda x: -(x**2).sum(axis=1) / 2, lambda x: -x, 0.9, np.ones(3))
    >>> point, rng = place(system, np.zeros(3), np.zeros(3)), np.random.default_rng(0)
    >>> draws = []
    >>> for _ in range(2000):
    ...     point = step(system, point, rng=rng).choice
    ...     draws.append(point.position)
    >>> print(f"{np.var(draws):.1f}")
    1.0
    """
    z = rng.standard_normal(len(point.position))
    momentum = system.root * z if system.root.ndim == 1 else system.root @ z
    return explore(system, push(system, point, momentum), rng=rng, max_depth=max_depth)


def _root(inverse_mass: np.ndarray) -> np.ndarray:  # given
    """Return a root of the mass, or raise a ValueError unless the inverse mass is positive."""
    fine = inverse_mass.ndim in (1, 2) and inverse_mass.size > 0 and np.isfinite(inverse_mass).all()
    if fine and inverse_mass.ndim == 1 and (inverse_mass > 0).all():
        return 1 / np.sqrt(inverse_mass)
    if fine and inverse_mass.ndim == 2 and inverse_mass.shape == inverse_mass.T.shape:
        values, vectors = np.linalg.eigh(inverse_mass)
        if values[0] > 0 and np.allclose(inverse_mass, inverse_mass.T):
            return vectors / np.sqrt(values)
    raise ValueError(f"inverse_mass must be positive, a vector or a symmetric matrix, got {inverse_mass}")
