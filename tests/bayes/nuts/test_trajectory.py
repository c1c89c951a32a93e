"""Shared tests of bayes/nuts/trajectory: run on the reference, and on the learner's file.

The orbit of a start is fixed, so everything about a tree but its candidate can be computed by brute force from the points of the orbit: that is what
`Orbit` does. The law of the candidate follows by enumerating the tosses of the coin, and is checked by counting.
"""

import math
import warnings
from collections import defaultdict

import numpy as np
import pytest

from mlpath.bayes import _targets as targets
from mlpath.bayes.nuts.trajectory import (
    Point,
    System,
    Tree,
    build,
    explore,
    has_turned,
    leaf,
    log_chance,
    merge,
    place,
    push,
    roll,
    seed,
    step,
    turns_across,
)
from mlpath.testing import (
    assert_close,
    assert_distribution,
    assert_frequencies,
    assert_frequency,
    assert_mean,
    assert_variance,
)

DENSE = np.array([[4.0, 1.2, -0.3], [1.2, 1.0, 0.2], [-0.3, 0.2, 0.25]])
DIAGONAL = np.array([4.0, 0.5, 0.01])
NORMAL = targets.normal(np.array([1.0, -2.0, 0.0]), np.array([[1.0, 0.5, 0.1], [0.5, 2.0, -0.3], [0.1, -0.3, 0.4]]))


@pytest.fixture
def rng():
    return np.random.default_rng(20240911)


def system_of(target, step_size, inverse_mass):
    return System(target.log_density, target.gradient, step_size, inverse_mass)


def counting(target, step_size, inverse_mass):
    """A system, and the list of the positions at which its gradient is computed."""
    seen = []

    def gradient(x):
        seen.extend(x.copy())
        return target.gradient(x)

    return System(target.log_density, gradient, step_size, inverse_mass), seen


def circle(degrees):
    """A start on a round target from which each leapfrog step turns position and momentum by an angle."""
    theta = math.radians(degrees)
    size = math.sqrt(2 - 2 * math.cos(theta))
    target = targets.normal(np.zeros(2), np.eye(2))
    system = system_of(target, size, np.ones(2))
    return system, place(system, np.array([2.0, 0.0]), np.array([0.0, 2 * math.sqrt(1 - size**2 / 4)]))


class Orbit:
    """The points of an orbit from -n to n, and what follows from them by brute force."""

    def __init__(self, system, start, n):
        self.points, self.energy = {0: start}, start.energy
        with np.errstate(all="ignore"):
            for i in range(1, n + 1):
                self.points[i] = roll(system, self.points[i - 1], 1)
                self.points[-i] = roll(system, self.points[1 - i], -1)
        self.momenta = np.array([point.momentum for point in self.points.values()])
        self.errors = {i: point.energy - self.energy for i, point in self.points.items()}

    def weights(self, a, b):
        return np.exp([-self.errors[i] for i in range(a, b + 1)])

    def piece_turns(self, a, b):
        total = sum(self.points[i].momentum for i in range(a, b + 1))
        return not all(np.sum(self.points[i].velocity * total) > 0 for i in (a, b))

    def turns(self, a, b):
        half = (b - a + 1) // 2
        return self.piece_turns(a, b) or self.piece_turns(a, a + half) or self.piece_turns(a + half - 1, b)

    def diverges(self, i):
        return not self.errors[i] <= 1000

    def built(self, first, direction, depth):
        """The indices visited by building a tree from the point `first` on, and why it stopped: '' if it did not."""
        if depth == 0:
            return [first], "divergent" if self.diverges(first) else ""
        near, why = self.built(first, direction, depth - 1)
        if why:
            return near, why
        far, why = self.built(first + direction * 2 ** (depth - 1), direction, depth - 1)
        both = near + far
        return both, why or ("turning" if self.turns(min(both), max(both)) else "")

    def law(self, max_depth):
        """The probability of each (index of the draw, number of steps)."""
        law = defaultdict(float)

        def grow(a, b, depth, n_steps, probability, draw):
            if depth == max_depth:
                return finish(n_steps, probability, draw)
            for direction in (1, -1):
                new, why = self.built(b + 1 if direction == 1 else a - 1, direction, depth)
                if why:
                    finish(n_steps + len(new), probability / 2, draw)
                    continue
                left, right = min(a, *new), max(b, *new)
                inner, outer = self.weights(a, b).sum(), self.weights(min(new), max(new))
                moves = min(1.0, outer.sum() / inner)
                chosen = {i: (1 - moves) * p for i, p in draw.items()}
                chosen.update({i: moves * w / outer.sum() for i, w in zip(sorted(new), outer, strict=True)})
                if self.turns(left, right):
                    finish(n_steps + len(new), probability / 2, chosen)
                else:
                    grow(left, right, depth + 1, n_steps + len(new), probability / 2, chosen)
            return None

        def finish(n_steps, probability, draw):
            for i, p in draw.items():
                law[i, n_steps] += probability * p

        grow(0, 0, 0, 0, 1.0, {0: 1.0})
        return law

    def index(self, point):
        """Which point of the orbit this is."""
        keys = [*self.points]
        distance = abs(self.momenta - point.momentum).sum(axis=1)
        near = int(np.argmin(distance))
        assert distance[near] < 1e-6, "the candidate is no point of the orbit"
        return keys[near]


def started(target, step_size, inverse_mass, position, momentum):
    """A system, and a start."""
    system = system_of(target, step_size, inverse_mass)
    return system, place(system, np.array(position), np.array(momentum))


# On the way from these starts halves are thrown away, trees turn as a whole, paths diverge; weights are very unequal.
STARTS = {
    "correlated": started(NORMAL, 1.15, np.ones(3), [0.259258, -2.971179, 0.026538], [0.676098, 0.032246, 0.071955]),
    "correlated, dense mass": started(
        NORMAL, 1.6, NORMAL.covariance, [-1.236452, -1.810941, 0.902797], [-1.387109, 0.945633, 2.528662]
    ),
    "banana": started(
        targets.banana(0.5, 2.0), 0.9, np.array([2.0, 1.0]), [1.930172, -1.812718], [-0.458189, 0.032345]
    ),
    "funnel": started(
        targets.funnel(3, 3.0), 0.7, np.ones(3), [-1.57226, 0.239473, 0.36782], [-1.430873, -0.936548, 0.393938]
    ),
    "cliff": started(
        targets.funnel(3, 3.0), 1.2, np.ones(3), [-1.868056, 0.568734, -0.629265], [-1.397618, -1.204009, -1.302269]
    ),
}


def point_of(momentum, velocity=None, energy=0.0):
    momentum = np.asarray(momentum, dtype=float)
    velocity = momentum if velocity is None else np.asarray(velocity, dtype=float)
    return Point(np.zeros(len(momentum)), momentum, velocity, 0.0, np.zeros(len(momentum)), energy)


def random_tree(rng, dim=3, **changes):
    left, right, choice = (point_of(rng.standard_normal(dim), rng.standard_normal(dim)) for _ in range(3))
    fields = {
        "left": left,
        "right": right,
        "choice": choice,
        "total": left.momentum + right.momentum + rng.standard_normal(dim),
        "log_weight": rng.normal(),
        "depth": 2,
        "n_steps": 4,
        "acceptance": 2.5,
        "turning": False,
        "divergent": False,
    }
    return Tree(**{**fields, **changes})


def assert_point(actual, expected, call, because):
    for name in ("position", "momentum", "velocity", "log_density", "gradient", "energy"):
        assert_close(getattr(actual, name), getattr(expected, name), f"{call}.{name}", because)


# given


@pytest.mark.given
@pytest.mark.parametrize("step_size", [0.0, -1.0, np.nan, np.inf])
def test_system_refuses_a_step_size_that_is_none(step_size):
    with pytest.raises(ValueError, match="step_size must"):
        system_of(NORMAL, step_size, np.ones(3))


@pytest.mark.given
@pytest.mark.parametrize(
    "inverse_mass",
    [-np.ones(2), np.array([1.0, np.nan]), np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[1.0, 0.5], [0.0, 1.0]])],
)
def test_system_refuses_a_mass_that_is_none(inverse_mass):
    with pytest.raises(ValueError, match="inverse_mass must"):
        system_of(NORMAL, 1.0, inverse_mass)


@pytest.mark.given
@pytest.mark.parametrize("inverse_mass", [DIAGONAL, DENSE], ids=["diagonal", "dense"])
def test_place_push_and_roll_do_what_they_say(inverse_mass):
    system, seen = counting(NORMAL, 0.3, inverse_mass)
    matrix = np.diag(inverse_mass) if inverse_mass.ndim == 1 else inverse_mass
    q, p = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -3.0])
    start = push(system, place(system, q, np.zeros(3)), p)
    assert_close(start.velocity, matrix @ p, "push(...).velocity", "M^-1 p")
    assert_close(start.energy, p @ matrix @ p / 2 - NORMAL.log_density(q[None])[0], "push(...).energy", "equation (1)")
    there = roll(system, start, 1)
    half = p + 0.15 * NORMAL.gradient(q[None])[0]
    position = q + 0.3 * matrix @ half
    momentum = half + 0.15 * NORMAL.gradient(position[None])[0]
    assert_point(there, place(system, position, momentum), "roll(...)", "a leapfrog step")
    back = roll(system, there, -1)
    assert_close(back.position, q, "the position, one step forward and one back", "where it was", atol=1e-12)
    assert_close(back.momentum, p, "the momentum, one step forward and one back", "what it was", atol=1e-12)
    assert len(seen) == 4, f"four gradients were expected for two calls of place and two steps, got {len(seen)}"


@pytest.mark.given
def test_place_refuses_what_a_target_should_not_return():
    for log_density, gradient, name in (
        (lambda x: x, lambda x: x, "log_density_fn"),
        (lambda x: x[:, 0] + np.inf, lambda x: x, "log_density_fn"),
        (lambda x: x[:, 0], lambda x: x[:, 0], "gradient_fn"),
    ):
        with pytest.raises(ValueError, match=f"{name} must"):
            place(System(log_density, gradient, 1.0, np.ones(2)), np.ones(2), np.ones(2))
    assert math.isnan(place(system_of(NORMAL, 1.0, np.ones(3)), np.full(3, np.inf), np.ones(3)).energy)


@pytest.mark.given
def test_seed_is_the_tree_of_the_start():
    _, start = circle(30)
    tree = seed(start)
    assert (tree.log_weight, tree.depth, tree.n_steps, tree.acceptance, tree.stopped) == (0.0, 0, 0, 0.0, False)
    assert_point(tree.choice, start, "seed(start).choice", "its docstring")


# has_turned


@pytest.mark.parametrize(
    ("first", "last", "total", "expected"),
    [
        ([1.0, 0.0], [0.6, 0.8], [1.6, 0.8], False),
        ([1.0, 0.0], [-0.6, 0.8], [0.4, 0.8], False),
        ([1.0, 0.0], [-0.8, 0.6], [2.0, 1.0], True),
        ([-0.8, 0.6], [1.0, 0.0], [2.0, 1.0], True),
        ([1.0, 2.0], [3.0, 1.0], [-1.0, -1.0], True),
        ([1e-9, 0.0], [0.0, 1e-9], [1.0, 1.0], False),
    ],
)
def test_has_turned_by_hand(first, last, total, expected):
    found = has_turned(np.array(first), np.array(last), np.array(total))
    assert bool(found) is expected, (
        f"has_turned({first}, {last}, {total}) returned {found}; the products of (4) are {np.dot(first, total):.3g} and {np.dot(last, total):.3g}"
    )


@pytest.mark.parametrize("total", [[0.0, 3.0], [3.0, 0.0], [np.nan, 1.0], [0.0, 0.0]])
def test_has_turned_where_a_product_is_zero_or_nan(total):
    found = has_turned(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array(total))
    assert found, f"has_turned([1, 0], [0, 1], {total}) returned {found}; (4) wants both products above 0"


def test_has_turned_in_many_dimensions(rng):
    for _ in range(40):
        first, last, total = rng.standard_normal((3, 20))
        expected = not (sum(first * total) > 0 and sum(last * total) > 0)
        found = has_turned(first, last, total)
        assert bool(found) is expected, f"has_turned of random vectors returned {found}, expected {expected} by (4)"


# log_chance


def test_log_chance_by_hand():
    for old, new, even, far in ((3.0, 1.0, 1 / 4, 1 / 3), (1.0, 3.0, 3 / 4, 1.0), (2.0, 2.0, 1 / 2, 1.0)):
        weights = f"log {old:g}, log {new:g}"
        found = log_chance(math.log(old), math.log(new), biased=False)
        assert_close(np.exp(found), even, f"exp(log_chance({weights}, biased=False))", "equation (6)")
        found = log_chance(math.log(old), math.log(new), biased=True)
        assert_close(np.exp(found), far, f"exp(log_chance({weights}, biased=True))", "equation (7)")


@pytest.mark.parametrize(
    ("old", "new", "even", "far"),
    [
        (1e5, -1e5, -2e5, -2e5),
        (-1e5, 1e5, 0.0, 0.0),
        (-1e4, -1e4 - 2, -2 - math.log1p(math.exp(-2)), -2.0),
        (900.0, 900.0, -math.log(2), 0.0),
        (3.0, -math.inf, -math.inf, -math.inf),
    ],
)
def test_log_chance_of_extreme_weights(old, new, even, far):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = float(log_chance(old, new, biased=False)), float(log_chance(old, new, biased=True))
    assert_close(found[0], even, f"log_chance({old}, {new}, biased=False)", "equation (6)", atol=1e-9)
    assert_close(found[1], far, f"log_chance({old}, {new}, biased=True)", "equation (7)", atol=1e-9)


# leaf


@pytest.mark.parametrize(
    ("energy", "start", "log_weight", "acceptance", "divergent"),
    [
        (5.0, 3.5, -1.5, math.exp(-1.5), False),
        (-2.0, 3.0, 5.0, 1.0, False),
        (1010.0, 10.0, -1000.0, 0.0, False),
        (1010.001, 10.0, -math.inf, 0.0, True),
        (math.inf, 10.0, -math.inf, 0.0, True),
        (math.nan, 10.0, -math.inf, 0.0, True),
        (-1e5, 10.0, 100010.0, 1.0, False),
    ],
)
def test_leaf_weighs_by_the_energy_error(energy, start, log_weight, acceptance, divergent):
    point = point_of([1.0, -2.0, 0.5], [3.0, 0.1, 0.2], energy)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = leaf(point, start)
    call = f"leaf(a point of energy {energy}, {start})"
    assert bool(tree.divergent) is divergent, f"{call}.divergent is {tree.divergent}, expected {divergent} by (8)"
    assert_close(float(tree.log_weight), log_weight, f"{call}.log_weight", "equation (2)")
    assert_close(float(tree.acceptance), acceptance, f"{call}.acceptance", "a term of (9)", atol=1e-300)


def test_leaf_is_a_tree_of_one_point():
    point = point_of([1.0, -2.0, 0.5], [3.0, 0.1, 0.2], 1.25)
    tree = leaf(point, 1.0)
    for name in ("left", "right", "choice"):
        assert_point(getattr(tree, name), point, f"leaf(point, 1).{name}", "its docstring")
    assert_close(tree.total, point.momentum, "leaf(point, 1).total", "equation (3): the momentum")
    found = tree.depth, tree.n_steps, bool(tree.turning)
    assert found == (0, 1, False), f"leaf(point, 1) has depth, n_steps and turning {found}, expected (0, 1, False)"


# turns_across


def parts_that_turn(left, right):
    """Which of the three of (5) have turned."""
    triples = (
        (left.left, right.right, left.total + right.total),
        (left.left, right.left, left.total + right.left.momentum),
        (left.right, right.right, left.right.momentum + right.total),
    )
    return tuple(not (sum(a.velocity * rho) > 0 and sum(b.velocity * rho) > 0) for a, b, rho in triples)


def pairs(wanted, n=12):
    rng, found = np.random.default_rng(6), []
    while len(found) < n:
        left, right = random_tree(rng), random_tree(rng)
        if parts_that_turn(left, right) == wanted:
            found.append((left, right))
    return found


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ((False, False, False), "none of the three of (5) has turned"),
        ((True, False, False), "the whole of both has turned"),
        ((False, True, False), "the left tree with the first point of the right one has turned"),
        ((False, False, True), "the last point of the left tree with the right one has turned"),
    ],
    ids=["none", "whole", "left", "right"],
)
def test_turns_across_looks_at_three_pieces(wanted, what):
    found = [bool(turns_across(left, right)) for left, right in pairs(wanted)]
    assert all(one is any(wanted) for one in found), (
        f"turns_across(left, right) returned {any(wanted)} for {found.count(any(wanted))} of {len(found)} pairs of which {what}"
    )


def test_turns_across_sees_what_the_ends_hide():
    system, start = circle(100)
    points = Orbit(system, start, 4).points
    trees = [
        merge(leaf(points[i], 0.0), leaf(points[i + 1], 0.0), 1, biased=False, rng=np.random.default_rng(0))
        for i in (0, 2)
    ]
    assert not trees[0].turning, "two points of a circle, 100 degrees apart, have not turned"
    assert turns_across(*trees), "four points of a circle, 100 degrees apart, have turned by (5), as three of them show"


# merge


@pytest.mark.parametrize("direction", [1, -1])
def test_merge_joins_in_the_order_of_time(direction, rng):
    old, new = random_tree(rng, n_steps=3, acceptance=1.5), random_tree(rng)
    joint = merge(old, new, direction, biased=False, rng=rng)
    left, right = (old, new) if direction == 1 else (new, old)
    call = f"merge(old, new, {direction}, ...)"
    assert_point(joint.left, left.left, f"{call}.left", "the earliest point of both")
    assert_point(joint.right, right.right, f"{call}.right", "the latest point of both")
    assert_close(joint.total, old.total + new.total, f"{call}.total", "equation (3)")
    expected = math.log(math.exp(old.log_weight) + math.exp(new.log_weight))
    assert_close(joint.log_weight, expected, f"{call}.log_weight", "the logarithm of the sum of the weights")
    found = joint.depth, joint.n_steps, joint.acceptance, bool(joint.divergent)
    assert found == (3, 7, 4.0, False), (
        f"{call} has depth, n_steps, acceptance and divergent {found}, expected (3, 7, 4.0, False)"
    )


@pytest.mark.parametrize("direction", [1, -1])
def test_merge_says_whether_the_trees_turn_across(direction, rng):
    for wanted in ((False, False, False), (False, True, False), (False, False, True), (True, False, False)):
        for left, right in pairs(wanted, 3):
            old, new = (left, right) if direction == 1 else (right, left)
            found = merge(old, new, direction, biased=True, rng=rng).turning
            assert bool(found) is any(wanted), (
                f"merge(old, new, {direction}, ...).turning is {found}, expected {any(wanted)} by (5)"
            )


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize(("biased", "weight", "chance"), [(False, 3.0, 0.75), (True, 0.5, 0.5)])
def test_merge_draws_the_candidate(biased, weight, chance, turns, rng):
    left, right = pairs((turns, False, False), 1)[0]
    weights = {"log_weight": 700.0}, {"log_weight": 700.0 + math.log(weight)}
    old, new = (Tree(**{**vars(tree), **change}) for tree, change in zip((left, right), weights, strict=True))
    n, wins = 150, 0
    for _ in range(n):
        choice = merge(old, new, 1, biased=biased, rng=rng).choice
        wins += int(np.array_equal(choice.momentum, new.choice.momentum))
    turned = "trees that turn" if turns else "trees"
    assert_frequency(
        wins,
        n,
        chance,
        f"the new candidate of merge({turned} of weights 1 and {weight:g}, biased={biased})",
        "(7)" if biased else "(6)",
    )


def test_merge_prefers_far_points(rng):
    old, new = random_tree(rng, log_weight=-0.5), random_tree(rng, log_weight=-0.4)
    wins = [
        np.array_equal(merge(old, new, 1, biased=True, rng=rng).choice.momentum, new.choice.momentum) for _ in range(30)
    ]
    assert all(wins), f"merge(..., biased=True) took the heavier new candidate {sum(wins)} times of 30; always by (7)"


@pytest.mark.parametrize(("turning", "divergent"), [(True, False), (False, True)])
@pytest.mark.parametrize("direction", [1, -1])
def test_merge_discards_what_has_stopped(turning, divergent, direction, rng):
    old = random_tree(rng, n_steps=3, acceptance=1.5)
    new = random_tree(rng, depth=1, n_steps=2, acceptance=0.25, log_weight=50.0, turning=turning, divergent=divergent)
    for biased in (False, True):
        tree = merge(old, new, direction, biased=biased, rng=rng)
        why = "turned" if turning else "diverged"
        call = f"merge(old, what has {why}, {direction}, biased={biased})"
        for name in ("left", "right", "choice"):
            assert_point(getattr(tree, name), getattr(old, name), f"{call}.{name}", "its docstring: that of old")
        assert_close(tree.total, old.total, f"{call}.total", "its docstring: that of old")
        assert_close(tree.log_weight, old.log_weight, f"{call}.log_weight", "its docstring: that of old")
        found = tree.depth, tree.n_steps, tree.acceptance
        assert found == (2, 5, 1.75), f"{call} has depth, n_steps and acceptance {found}, expected (2, 5, 1.75)"
        marks = bool(tree.turning), bool(tree.divergent)
        assert marks == (turning, divergent), (
            f"{call} has turning and divergent {marks}, expected {(turning, divergent)}"
        )


def test_merge_adds_weights_of_any_size(rng):
    for old, new, expected in ((800.0, 800.0, 800 + math.log(2)), (-900.0, -901.0, -900 + math.log1p(math.exp(-1)))):
        trees = random_tree(rng, log_weight=old), random_tree(rng, log_weight=new)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            joint = merge(*trees, 1, biased=False, rng=rng)
        assert_close(
            joint.log_weight, expected, f"merge(trees of log weights {old:g}, {new:g}).log_weight", "the sum of both"
        )


# build


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("name", STARTS)
def test_build_is_what_the_points_of_the_orbit_say(name, direction, rng):
    system, start = STARTS[name]
    orbit = Orbit(system, start, 8)
    for depth in range(4):
        visited, why = orbit.built(direction, direction, depth)
        with np.errstate(all="ignore"):
            tree = build(system, start, direction, depth, energy=start.energy, rng=rng)
        call = f"build(..., {direction}, {depth}) on the {name}"
        found = bool(tree.turning), bool(tree.divergent)
        expected = why == "turning", why == "divergent"
        assert found == expected, f"{call} has turning and divergent {found}, expected {expected} by (5) and (8)"
        assert tree.n_steps == len(visited), f"{call}.n_steps is {tree.n_steps}, expected {len(visited)}"
        accepted = sum(min(1.0, math.exp(-orbit.errors[i])) for i in visited if not orbit.diverges(i))
        assert_close(tree.acceptance, accepted, f"{call}.acceptance", "the sum of (9) over all steps made", rtol=1e-7)
        if not why:
            a, b = min(visited), max(visited)
            assert_close(tree.left.position, orbit.points[a].position, f"{call}.left.position", "the orbit", rtol=1e-7)
            assert_close(
                tree.right.position, orbit.points[b].position, f"{call}.right.position", "the orbit", rtol=1e-7
            )
            total = sum(orbit.points[i].momentum for i in visited)
            assert_close(tree.total, total, f"{call}.total", "equation (3)", rtol=1e-7, atol=1e-9)
            assert_close(tree.log_weight, math.log(orbit.weights(a, b).sum()), f"{call}.log_weight", "(2)", rtol=1e-7)
            assert tree.depth == depth, f"{call}.depth is {tree.depth}, expected {depth}"


@pytest.mark.parametrize("direction", [1, -1])
def test_build_draws_by_the_weights(direction, rng):
    target = targets.normal(np.zeros(2), np.diag([1.0, 1.0]))
    system = system_of(target, 0.5, np.array([0.2, 1.5]))
    start = place(system, np.array([1.0, -2.0]), np.array([0.3, 0.5]))
    weak = start.energy - 1
    orbit, n = Orbit(system, start, 4), 120
    indices = sorted(direction * i for i in range(1, 5))
    trees = [build(system, start, direction, 2, energy=weak, rng=rng) for _ in range(n)]
    assert not trees[0].stopped, "build stopped, though neither a turn nor a divergence is in its way"
    counts = [sum(orbit.index(tree.choice) == i for tree in trees) for i in indices]
    weights = orbit.weights(indices[0], indices[-1])
    assert_frequencies(
        counts, weights / weights.sum(), f"the four candidates of build(..., {direction}, 2)", "equation (6)"
    )


def test_build_computes_one_gradient_a_step_and_stops_early():
    system, seen = counting(targets.normal(np.zeros(2), np.eye(2)), 2 * math.sin(math.radians(50)), np.ones(2))
    _, start = circle(100)
    rng = np.random.default_rng(1)
    for depth, expected in ((0, 1), (1, 2), (2, 4), (3, 4), (6, 4)):
        seen.clear()
        tree = build(system, start, 1, depth, energy=start.energy, rng=rng)
        # Four points, 100 degrees apart, have turned by (5), so that nothing follows them.
        assert len(seen) == tree.n_steps == expected, (
            f"build(..., 1, {depth}) on a circle in steps of 100 degrees computed {len(seen)} gradients, n_steps {tree.n_steps}; expected {expected}"
        )
        assert bool(tree.turning) is (depth > 1), f"build(..., 1, {depth}).turning is {tree.turning}"


# explore


@pytest.mark.parametrize(
    ("degrees", "doublings"), [(100, 2), (119, 2), (61, 2), (59, 3), (27, 3), (25, 4), (12.1, 4), (11.9, 5), (6.1, 5)]
)
def test_explore_stops_after_half_a_round(degrees, doublings, rng):
    system, start = circle(degrees)
    tree = explore(system, start, rng=rng)
    # 2^j points span 2^j - 1 steps; the tree has turned once these make 180 degrees.
    found = tree.depth, tree.n_steps, bool(tree.turning), bool(tree.divergent)
    expected = doublings, 2**doublings - 1, True, False
    assert found == expected, (
        f"explore on a circle in steps of {degrees} degrees has depth, n_steps, turning, divergent {found}, expected {expected}"
    )


@pytest.mark.parametrize("max_depth", [1, 3, 6])
def test_explore_stops_at_its_greatest_depth(max_depth, rng):
    system, seen = counting(targets.normal(np.zeros(2), np.eye(2)), 1e-3, np.ones(2))
    start = place(system, np.ones(2), np.array([1.0, -2.0]))
    seen.clear()
    tree = explore(system, start, rng=rng, max_depth=max_depth)
    found = tree.depth, tree.n_steps, len(seen), tree.stopped
    expected = max_depth, 2**max_depth - 1, 2**max_depth - 1, False
    assert found == expected, (
        f"explore(max_depth={max_depth}) with tiny steps has depth, n_steps, gradients, stopped {found}, expected {expected}"
    )


def test_explore_goes_either_way(rng):
    system = System(lambda x: 0 * x[:, 0], lambda x: 0 * x, 1.0, np.ones(1))
    start = place(system, np.zeros(1), np.ones(1))
    trees = [explore(system, start, rng=rng, max_depth=3) for _ in range(100)]
    # Eight points in a row, and the start is any of them.
    counts = np.bincount([round(-tree.left.position.item()) for tree in trees], minlength=8)
    assert_frequencies(
        counts, np.full(8, 1 / 8), "the place of the start among the points of explore(max_depth=3)", "three fair coins"
    )
    for tree in trees[:20]:
        assert_close(
            tree.right.position - tree.left.position, np.array([7.0]), "the distance of the ends", "seven steps of 1"
        )


def test_explore_tosses_a_coin_in_each_round(rng):
    system = System(lambda x: 0 * x[:, 0], lambda x: 0 * x, 1.0, np.ones(1))
    start = place(system, np.zeros(1), np.ones(1))
    places = [round(-explore(system, start, rng=rng, max_depth=2).left.position.item()) for _ in range(100)]
    found = (np.bincount(places, minlength=4) > 0).astype(float)
    call = "whether the start was ever the first to the fourth point, among a hundred trees of explore(max_depth=2)"
    assert_close(found, np.ones(4), call, "all sequences of two tosses")


def test_explore_prefers_the_last_half(rng):
    system = System(lambda x: 0 * x[:, 0], lambda x: 0 * x, 1.0, np.ones(1))
    start = place(system, np.zeros(1), np.ones(1))
    moved = [explore(system, start, rng=rng, max_depth=1).choice.position.item() != 0 for _ in range(30)]
    assert all(moved), f"explore(max_depth=1) on a plain left the start {sum(moved)} times of 30; always by (7)"


def test_explore_keeps_the_points_of_a_tree_that_turns_as_a_whole(rng):
    system, start = circle(100)
    orbit, found = Orbit(system, start, 3), []
    for _ in range(30):
        tree = explore(system, start, rng=rng)
        found.append(orbit.index(tree.choice))
    # Two points have not turned, four have; all weights are 1, so that the second half is always preferred.
    assert set(found) <= {-3, -2, -1, 1, 2, 3}, (
        "explore on a circle returned its start; (7) always prefers the last half"
    )
    assert set(found) & {-3, -2, 2, 3}, (
        "explore on a circle never returned a point of the half with which the tree turned"
    )


@pytest.mark.parametrize("name", ["correlated", "banana", "funnel"])
def test_explore_compares_all_its_points_with_the_start(name, rng):
    system, start = STARTS[name]
    orbit = Orbit(system, start, 8)
    for _ in range(12):
        tree = explore(system, start, rng=rng, max_depth=3)
        if tree.n_steps == 2**tree.depth - 1:
            a, b = orbit.index(tree.left), orbit.index(tree.right)
            call = f"explore(max_depth=3) on the {name}, points {a} to {b},"
            assert_close(
                tree.log_weight, math.log(orbit.weights(a, b).sum()), f"{call} log_weight", "equation (2)", rtol=1e-7
            )
            accepted = sum(min(1.0, math.exp(-orbit.errors[i])) for i in range(a, b + 1) if i)
            assert_close(
                tree.acceptance, accepted, f"{call} acceptance", "the sum of (9), without the start", rtol=1e-7
            )


@pytest.mark.parametrize("name", ["correlated", "banana"])
def test_explore_draws_by_the_law_of_all_tosses(name, rng):
    system, start = STARTS[name]
    orbit, n, max_depth = Orbit(system, start, 8), 150, 3
    law = orbit.law(max_depth)
    counts = defaultdict(int)
    for _ in range(n):
        tree = explore(system, start, rng=rng, max_depth=max_depth)
        counts[orbit.index(tree.choice), tree.n_steps] += 1
    strange = [key for key in counts if not law.get(key)]
    call = f"explore(max_depth=3) on the {name}"
    assert not strange, (
        f"{call} returned point {strange[0][0]} of the orbit after {strange[0][1]} steps, which cannot be"
    )
    keys = sorted(key for key in law if law[key] > 0)
    assert_frequencies(
        [counts[key] for key in keys],
        [law[key] for key in keys],
        f"(index of the draw, n_steps) of {call}",
        "all sequences of tosses",
    )


def test_explore_reports_a_divergence(rng):
    system, seen = counting(targets.normal(np.zeros(2), np.eye(2)), 300.0, np.ones(2))
    start = place(system, np.ones(2), np.array([1.0, -2.0]))
    seen.clear()
    tree = explore(system, start, rng=rng)
    found = bool(tree.divergent), tree.n_steps, len(seen), tree.depth, tree.acceptance
    assert found == (True, 1, 1, 0, 0.0), (
        f"explore with a step size of 300 has divergent, n_steps, gradients, depth and acceptance {found}, expected (True, 1, 1, 0, 0.0)"
    )
    assert_point(tree.choice, start, "explore(...).choice after a divergence", "the start")


def test_explore_survives_overflow(rng):
    system = System(lambda x: -(x**4).sum(axis=1), lambda x: -4 * x**3, 1e120, np.ones(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = explore(system, place(system, np.ones(2), np.ones(2)), rng=rng)
    assert tree.divergent, "explore with a step size of 1e120 does not report a divergence"


@pytest.mark.given
def test_explore_refuses_a_depth_that_is_none(rng):
    system, start = circle(30)
    with pytest.raises(ValueError, match="max_depth must"):
        explore(system, start, rng=rng, max_depth=0)


# step


def momenta(inverse_mass, n, rng):
    """The momenta of the starts of n trees."""
    # A single point of positive density: the first step diverges, and the tree is the start.
    system = System(
        lambda x: np.where((x == 0).all(axis=1), 0.0, -np.inf), lambda x: 0 * x, 1.0, np.asarray(inverse_mass)
    )
    point = place(system, np.zeros(len(inverse_mass)), np.full(len(inverse_mass), 50.0))
    return np.stack([step(system, point, rng=rng, max_depth=1).left.momentum for _ in range(n)])


def test_step_makes_light_things_slow_and_heavy_things_fast(rng):
    found = np.round(np.log10(np.median(abs(momenta([1e-8, 1e4], 60, rng)), axis=0)))
    call = "the powers of ten of the momenta of step for an inverse mass of [1e-8, 1e4]"
    assert_close(found, np.array([4.0, -2.0]), call, "N(0, M): standard deviations of 1e4 and 0.01")


def test_step_draws_fresh_numbers(rng):
    found = momenta([1.0, 1.0, 1.0], 40, rng)
    assert (found != 50).any(), "step goes on with the old momentum of its point, expected a fresh one"
    assert_close(
        len(np.unique(found)), 120, "how many different numbers there are in 40 momenta of 3 coordinates", "N(0, I)"
    )
    assert abs(found).max() > 1.4, (
        f"no entry of 40 momenta of step for a unit mass is beyond {abs(found).max():.2f}; expected N(0, I)"
    )


@pytest.mark.parametrize("inverse_mass", [DIAGONAL, DENSE], ids=["diagonal", "dense"])
def test_step_draws_its_momentum_from_the_mass(inverse_mass, rng):
    matrix = np.diag(inverse_mass) if inverse_mass.ndim == 1 else inverse_mass
    # If p has the covariance M and M^-1 = L L^T, then L^T p has the covariance I.
    z = momenta(inverse_mass, 200, rng) @ np.linalg.cholesky(matrix)
    call = f"L^T p of step with a {'dense' if inverse_mass.ndim == 2 else 'diagonal'} inverse mass"
    assert_mean(z, np.zeros(3), call, "N(0, M)", sd=np.ones(3))
    assert_variance(z, np.ones(3), call, "N(0, M)")
    assert_mean(z * z[:, [1, 2, 0]], np.zeros(3), f"products of entries of {call}", "N(0, M)", sd=np.ones(3))


@pytest.mark.parametrize("inverse_mass", [DIAGONAL, DENSE], ids=["diagonal", "dense"])
def test_step_begins_with_velocity_and_energy_of_its_momentum(inverse_mass, rng):
    system = System(lambda x: 0 * x[:, 0], lambda x: 0 * x, 1.0, inverse_mass)
    matrix = np.diag(inverse_mass) if inverse_mass.ndim == 1 else inverse_mass
    tree = step(system, place(system, np.zeros(3), np.full(3, 50.0)), rng=rng, max_depth=1)
    for point in (tree.left, tree.right):
        p = point.momentum
        assert_close(point.velocity, matrix @ p, "a velocity after step on a plain", "M^-1 p", rtol=1e-8, atol=1e-10)
        assert_close(point.energy, p @ matrix @ p / 2, "an energy after step on a plain", "equation (1)", rtol=1e-8)


def test_step_knows_the_gradient_where_it_starts(rng):
    system, seen = counting(NORMAL, 0.4, DENSE)
    point = place(system, NORMAL.mean, np.zeros(3))
    for _ in range(20):
        seen.clear()
        tree = step(system, point, rng=rng)
        point = tree.choice
        assert len(seen) == tree.n_steps, f"step computed {len(seen)} gradients, n_steps is {tree.n_steps}"
        q = point.position[None]
        assert_close(
            point.log_density, NORMAL.log_density(q)[0], "step(...).choice.log_density", "that of its position"
        )
        assert_close(
            point.gradient, NORMAL.gradient(q)[0], "step(...).choice.gradient", "that of its position", atol=1e-12
        )


def test_step_hands_the_greatest_depth_on(rng):
    system = System(lambda x: 0 * x[:, 0], lambda x: 0 * x, 1.0, np.ones(1))
    point = place(system, np.zeros(1), np.ones(1))
    found = [step(system, point, rng=rng, **settings).n_steps for settings in ({"max_depth": 2}, {})]
    assert found == [3, 1023], f"step on a plain with max_depth 2 and by default makes {found} steps"


@pytest.mark.parametrize(
    ("name", "target", "step_size", "inverse_mass"),
    [
        ("correlated normal", targets.correlated(2, 0.8), 0.9, np.ones(2)),
        ("funnel", targets.funnel(3, 1.0), 0.8, np.ones(3)),
        ("t", targets.student_t(2, 9.0), 1.6, np.array([[1.0, 0.4], [0.4, 0.8]])),
    ],
)
def test_step_keeps_the_law_of_its_target(name, target, step_size, inverse_mass, rng):
    system = system_of(target, step_size, inverse_mass)
    draws = []
    for start in target.exact(rng, 80):
        point = place(system, start, np.zeros(len(start)))
        draws.append(step(system, point, rng=rng, max_depth=5).choice.position)
    draws = np.array(draws)
    call = f"one step from exact draws of the {name}"
    assert_mean(draws, target.mean, f"{call}, in the mean,", "the exact mean")
    first = target.exact(np.random.default_rng(0), 100_000)[:, 0]
    edges = np.sort(first)
    assert_distribution(
        draws[:, 0],
        lambda x: np.searchsorted(edges, x) / len(edges),
        f"the first coordinate after {call}",
        "100,000 exact draws",
    )


def test_step_takes_all_its_randomness_from_its_generator_and_leaves_its_point_alone():
    system, start = STARTS["correlated"]
    before = start.position.copy(), start.momentum.copy()

    def run(seed_):
        return step(system, start, rng=np.random.default_rng(seed_)).choice.position

    assert_close(run(1), run(1), "step with the same seed for the second time", "the draw of the first time")
    assert len({tuple(run(i)) for i in range(8)}) > 2, "step returned the same draw for different seeds"
    assert_close((start.position, start.momentum), before, "the point handed to step", "what it was before")
