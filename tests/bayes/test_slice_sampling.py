"""Shared tests of bayes/slice_sampling: run on the reference, and on the learner's file.

Chance enters through checks that a right solution fails with a probability of 1e-8 each, over independent chains, whatever the
order of its random numbers: fewer than 60 of them, 6e-7 together. Chains that start from exact draws have the exact law after
any number of updates.
"""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes._targets import correlated, funnel, gammas, student_t
from mlpath.bayes.slice_sampling import (
    Interval,
    State,
    coordinate_sweep,
    draw_level,
    elliptical_step,
    random_direction_step,
    sample,
    shrink,
    step_out,
    update_along,
)
from mlpath.testing import (
    assert_close,
    assert_distribution,
    assert_frequencies,
    assert_mean,
    assert_variance,
)

N = 10_000
NO_LIMIT = 10**13  # of which either end gets fewer than 100 once in 10^11


@pytest.fixture
def rng():
    return np.random.default_rng(20250206)


def flat(x):
    return np.zeros(len(x))


def normal(x):
    return -(x**2).sum(axis=1) / 2


def box(x):
    """Uniform between -2 and 3 in the first coordinate."""
    return np.where((x[:, 0] > -2) & (x[:, 0] < 3), 0.0, -np.inf)


def islands(x):
    """Uniform on the intervals from -2 to -1, from 0 to 0.5 and from 2 to 3."""
    x = x[:, 0]
    inside = ((x > -2) & (x < -1)) | ((x > 0) & (x < 0.5)) | ((x > 2) & (x < 3))
    return np.where(inside, 0.0, -np.inf)


def on_islands(rng, n):
    u = 2.5 * rng.random(n)
    return np.where(u < 1, u - 2, np.where(u < 1.5, u - 1, u + 0.5))[:, None]


def island_share(x):
    """The distribution function of the islands."""
    x = np.asarray(x)
    return (np.clip(x + 2, 0, 1) + np.clip(x, 0, 0.5) + np.clip(x - 2, 0, 1)) / 2.5


class Counting:
    """A log density that counts how many rows it was asked for, in all and in each call."""

    def __init__(self, log_density_fn):
        self.log_density_fn, self.calls = log_density_fn, []

    def __call__(self, x):
        self.calls.append(len(x))
        return self.log_density_fn(x)


def at(log_density_fn, position):
    return State(position, log_density_fn(position))


ONE = np.ones((N, 1))

# draw_level


def test_draw_level_lies_an_exponential_number_below(rng):
    start = rng.normal(0, 50, N)
    gap = start - draw_level(start, rng=rng)
    assert (gap >= 0).all(), "draw_level returned levels above the log density"
    assert_distribution(gap, stats.expon(), "log density minus draw_level", "equation (1)")
    assert len(np.unique(gap)) > N // 2, "draw_level drew one random number for several chains"


def test_draw_level_survives_log_densities_that_are_large_and_leaves_them_alone(rng):
    start = np.array([-1e5, 1e5, -800.0, 800.0])
    level = draw_level(start, rng=rng)
    assert np.isfinite(level).all(), f"draw_level([-1e5, 1e5, -800, 800]) returned {level}"
    assert ((level <= start) & (level > start - 50)).all(), f"draw_level([-1e5, 1e5, -800, 800]) returned {level}"
    assert (start == [-1e5, 1e5, -800, 800]).all(), "draw_level changed its argument log_density"


# step_out


def test_step_out_lays_the_first_interval_at_random(rng):
    found = step_out(flat, np.zeros((N, 1)), ONE, np.full(N, -1.0), width=2.5, max_steps=1, rng=rng)
    call = "step_out(width=2.5, max_steps=1)"
    assert_close(found.right - found.left, np.full(N, 2.5), f"right - left of {call}", "equation (2)", rtol=1e-9)
    assert_distribution(-found.left / 2.5, stats.uniform(), f"-left / 2.5 of {call}", "equation (2)")
    assert not found.n_evaluations.any(), f"{call} has no moves, but counted {found.n_evaluations.max()} evaluations"


@pytest.mark.parametrize("max_steps", [2, 5])
def test_step_out_divides_its_moves_at_random(max_steps, rng):
    found = step_out(flat, np.zeros((N, 1)), ONE, np.full(N, -1.0), width=0.5, max_steps=max_steps, rng=rng)
    call = f"step_out(a flat density, width=0.5, {max_steps=})"
    length = found.right - found.left
    assert_close(length, np.full(N, 0.5 * max_steps), f"the lengths of {call}", "m times w", rtol=1e-9)
    n_left = np.floor(-found.left / 0.5).astype(int)
    counts = np.bincount(n_left, minlength=max_steps)
    assert_frequencies(counts, np.full(max_steps, 1 / max_steps), f"moves to the left of {call}", "equation (2)")


def test_step_out_counts_one_evaluation_a_move_on_a_flat_density(rng):
    found = step_out(flat, np.zeros((50, 1)), ONE[:50], np.full(50, -1.0), width=0.5, max_steps=7, rng=rng)
    expected = np.full(50, 6)
    assert_close(found.n_evaluations, expected, "n_evaluations of step_out(flat, max_steps=7)", "the six moves of (2)")


def test_step_out_moves_an_end_whose_log_density_is_the_level(rng):
    found = step_out(flat, ONE[:5], ONE[:5], np.zeros(5), width=1.0, max_steps=7, rng=rng)
    length = found.right - found.left
    assert_close(
        length, np.full(5, 7.0), "the length by step_out(max_steps=7), log density 0, level 0", "at least the level"
    )


def test_step_out_stops_where_the_ends_are_outside(rng):
    x = rng.uniform(-2, 3, (200, 1))
    found = step_out(box, x, ONE[:200], np.full(200, -1.0), width=0.4, max_steps=NO_LIMIT, rng=rng)
    left, right = x[:, 0] + found.left, x[:, 0] + found.right
    assert (left <= -2).all(), f"step_out left an end at {left.max():.3g}, inside a slice from -2 to 3"
    assert (right >= 3).all(), f"step_out left an end at {right.min():.3g}, inside a slice from -2 to 3"
    assert (left > -2.4).all(), f"step_out went on to {left.min():.3g}, outside of a slice from -2 to 3, with width=0.4"
    assert (right < 3.4).all(), (
        f"step_out went on to {right.max():.3g}, outside of a slice from -2 to 3, with width=0.4"
    )
    steps = (right - left) / 0.4
    assert_close(steps, np.round(steps), "the lengths of step_out over its width", "whole numbers", rtol=1e-6)


def test_step_out_counts_the_evaluations_of_each_chain(rng):
    x = rng.uniform(-2, 3, (200, 1))
    target = Counting(box)
    found = step_out(target, x, ONE[:200], np.full(200, -1.0), width=0.4, max_steps=NO_LIMIT, rng=rng)
    # Each move took one evaluation, and one more at each end said that it is outside.
    moves = np.round((found.right - found.left) / 0.4).astype(int) - 1
    call = "n_evaluations of step_out, less its moves,"
    assert_close(found.n_evaluations - moves, np.full(200, 2), call, "a last look at each end")
    total, counted = sum(target.calls), found.n_evaluations.sum()
    assert total == counted, f"step_out asked for {total} log densities, and counted {counted}"


def test_step_out_looks_at_the_first_hole(rng):
    found = step_out(
        islands, np.full((300, 1), 0.3), ONE[:300], np.full(300, -1.0), width=0.6, max_steps=NO_LIMIT, rng=rng
    )
    # From 0.3 the neighbours are further away than a width: no interval gets there but by chance of the grid.
    left = 0.3 + found.left
    assert ((left <= 0) & (left > -0.6 - 1e-9)).all(), "step_out jumped over a hole of the slice that is wider than w"


def test_step_out_follows_its_direction_and_takes_s_in_its_units(rng):
    position, direction = np.tile([0.5, 7.0], (100, 1)), np.tile([-0.25, 10.0], (100, 1))
    found = step_out(box, position, direction, np.full(100, -1.0), width=2.0, max_steps=NO_LIMIT, rng=rng)
    # -2 and 3 in the first coordinate are s = 10 and s = -10.
    assert ((found.left <= -10) & (found.left > -12)).all(), f"step_out has left ends up to {found.left.max():.3g}; -10"
    assert ((found.right >= 10) & (found.right < 12)).all(), f"step_out has right ends from {found.right.min():.3g}; 10"


def test_step_out_takes_the_level_of_each_chain(rng):
    level = np.repeat([-0.5, -8.0], 100)
    found = step_out(normal, np.zeros((200, 1)), ONE[:200], level, width=0.1, max_steps=NO_LIMIT, rng=rng)
    half = np.sqrt(-2 * level)
    for end, sign in ((found.left, -1), (found.right, 1)):
        assert ((sign * end >= half - 1e-9) & (sign * end < half + 0.1)).all(), (
            "step_out does not end just outside of |x| = 1 at the level -0.5, and of 4 at the level -8"
        )


def test_step_out_leaves_its_arguments_alone_and_keeps_the_point_inside(rng):
    position, level = np.full((100, 1), 0.4), np.full(100, -1.0)
    found = step_out(box, position, ONE[:100], level, width=0.3, max_steps=4, rng=rng)
    assert ((found.left <= 0) & (found.right >= 0)).all(), "an interval of step_out does not contain s = 0"
    assert (position == 0.4).all(), "step_out changed its argument position"
    assert (level == -1).all(), "step_out changed its argument level"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_step_out_refuses_what_is_no_log_density(value, rng):
    with pytest.raises(ValueError, match="log_density_fn must"):
        step_out(lambda x: np.full(len(x), value), ONE[:3], ONE[:3], ONE[:3, 0], width=1.0, max_steps=9, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"), [("width", 0.0), ("width", np.nan), ("width", np.inf), ("width", -1.0), ("max_steps", 0)]
)
def test_step_out_refuses_widths_and_numbers_of_steps_that_are_none(name, value, rng):
    arguments = {"width": 1.0, "max_steps": 3} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must"):
        step_out(flat, ONE[:3], ONE[:3], np.zeros(3), rng=rng, **arguments)


# shrink


def whole(left, right, n):
    return Interval(np.full(n, left), np.full(n, right), np.full(n, 9))


def test_shrink_takes_a_point_whose_log_density_is_the_level(rng):
    interval = Interval(np.full(5, -1.0), np.full(5, 2.0), np.zeros(5, dtype=int))
    _, n = shrink(flat, ONE[:5], ONE[:5], np.zeros(5), interval, rng=rng)
    assert (n == 1).all(), f"shrink drew {n} points where all of them have the log density 0 and the level is 0"


def test_shrink_draws_uniformly_where_all_is_inside(rng):
    state, n = shrink(flat, np.full((N, 1), 7.0), 2 * ONE, np.full(N, -1.0), whole(-1.0, 4.0, N), rng=rng)
    s = (state.position[:, 0] - 7) / 2
    assert_distribution(
        s, stats.uniform(-1, 5), "s of shrink(interval from -1 to 4, all of it inside)", "a uniform law"
    )
    assert (n == 1).all(), f"shrink counted up to {n.max()} evaluations where every first point is inside"


def test_shrink_returns_points_of_the_slice_with_their_log_densities(rng):
    position = rng.uniform(-1, 1, (300, 2))
    level = normal(position) - rng.exponential(size=300)
    direction = rng.normal(size=(300, 2))
    state, n = shrink(normal, position, direction, level, whole(-20.0, 30.0, 300), rng=rng)
    assert_close(
        state.log_density, normal(state.position), "log_density of shrink(...)", "the target there", rtol=1e-12
    )
    low = np.count_nonzero(state.log_density < level)
    assert low == 0, f"{low} of 300 points that shrink returned are below their level"
    off = state.position - position
    cross = off[:, 0] * direction[:, 1] - off[:, 1] * direction[:, 0]
    assert_close(cross, np.zeros(300), "(y - x) across the direction, of shrink", "y = x + s d", rtol=0, atol=1e-12)
    assert n.max() > 2, "shrink counted at most two evaluations for a slice much shorter than the interval"


def test_shrink_keeps_the_uniform_law_on_a_slice_in_pieces(rng):
    position = on_islands(rng, N)
    interval = Interval(-3 - position[:, 0], 4.5 - position[:, 0], np.zeros(N, int))
    state, _ = shrink(islands, position, ONE, np.full(N, -1.0), interval, rng=rng)
    call = "shrink on three islands, from exact draws"
    assert_distribution(state.position[:, 0], island_share, call, "equations (3) and (4): detailed balance")


def test_shrink_cuts_the_interval_at_the_points_outside(rng):
    # Only |s| < 1e-6 is inside, so that it takes some 20 cuts that each leave about 3/4; without cuts it would take 10^6.
    def narrow(x):
        return np.where(abs(x[:, 0]) < 1e-6, 0.0, -np.inf)

    state, n = shrink(narrow, np.zeros((200, 1)), ONE[:200], np.full(200, -1.0), whole(-1.0, 1.0, 200), rng=rng)
    assert (abs(state.position) < 1e-6).all(), "shrink returned points outside the slice"
    assert n.mean() < 100, f"shrink took {n.mean():.0f} evaluations for a millionth of its interval; expected some 20"


def test_shrink_cuts_on_the_side_of_the_point(rng):
    # The slice is to the right of 0 only: points left of it move the left end, and each draw is inside more often.
    def right_side(x):
        return np.where((x[:, 0] >= 0) & (x[:, 0] < 1), 0.0, -np.inf)

    state, n = shrink(right_side, np.zeros((N, 1)), ONE, np.full(N, -1.0), whole(-3.0, 1.0, N), rng=rng)
    assert_distribution(
        state.position[:, 0], stats.uniform(), "s of shrink(from -3 to 1, inside from 0)", "equation (4)"
    )
    # The left end goes to u times itself: the mean number is 1 + 3/4 + ..., by the recursion f(L) = 1 + (integral of f) / (1 + L).
    assert_mean(n, 1 + np.log(4), "n_evaluations of shrink(from -3 to 1, inside from 0)", "1 + log 4, by equation (4)")


def test_shrink_evaluates_only_the_chains_that_are_not_done(rng):
    target = Counting(box)
    x = rng.uniform(-2, 3, (200, 1))
    _, n = shrink(target, x, ONE[:200], np.full(200, -1.0), whole(-10.0, 10.0, 200), rng=rng)
    assert sum(target.calls) == n.sum(), f"shrink asked for {sum(target.calls)} log densities, and counted {n.sum()}"


def test_shrink_stops_at_a_density_that_changes_its_mind(rng):
    with pytest.raises(ValueError, match="log_density_fn must be the same"):
        shrink(lambda x: np.full(len(x), -5.0), ONE[:3], ONE[:3], np.full(3, -1.0), whole(-1.0, 1.0, 3), rng=rng)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_shrink_refuses_what_is_no_log_density(value, rng):
    with pytest.raises(ValueError, match="log_density_fn must be finite"):
        shrink(lambda x: np.full(len(x), value), ONE[:3], ONE[:3], ONE[:3, 0], whole(-1.0, 1.0, 3), rng=rng)


def test_shrink_leaves_its_arguments_alone(rng):
    position, interval = np.zeros((20, 1)), whole(-9.0, 9.0, 20)
    shrink(box, position, ONE[:20], np.full(20, -1.0), interval, rng=rng)
    assert not position.any(), "shrink changed its argument position"
    kept = (interval.left == -9).all() and (interval.right == 9).all() and (interval.n_evaluations == 9).all()
    assert kept, "shrink changed the arrays of its interval"


# update_along


@pytest.mark.parametrize(("width", "max_steps"), [(0.7, 1), (0.7, 3), (0.9, 50), (6.0, 2)])
def test_update_along_keeps_the_law_of_a_density_in_pieces(width, max_steps, rng):
    state = at(islands, on_islands(rng, N))
    for _ in range(2):
        state, _ = update_along(islands, state, ONE, width=width, max_steps=max_steps, rng=rng)
    call = f"update_along on three islands, twice, from exact draws, {width=}, {max_steps=}"
    assert_distribution(state.position[:, 0], island_share, call, "equations (1) to (4)")


def test_update_along_spreads_out_over_the_density(rng):
    state = State(np.zeros((N, 1)), np.zeros(N))
    state, _ = update_along(normal, state, ONE, width=1.0, rng=rng)
    # From 0 with log density 0 the slice is |y| < root of 2 E, a Rayleigh number, and y uniform on it: P(|y| < t).
    r = np.linspace(0, 12, 4001)[1:]
    weight = r * np.exp(-(r**2) / 2) * (r[1] - r[0])

    def share(y):
        return np.array([(weight * np.clip((t / r + 1) / 2, 0, 1)).sum() for t in np.atleast_1d(y)]) / weight.sum()

    found = state.position[:2000, 0]
    assert_distribution(found, share, "update_along(a normal density, from 0)", "a uniform draw from a random slice")


def test_update_along_counts_all_its_evaluations(rng):
    target = Counting(normal)
    state = at(normal, rng.normal(size=(100, 1)))
    moved, n = update_along(target, state, ONE[:100], width=0.5, max_steps=30, rng=rng)
    assert sum(target.calls) == n.sum(), (
        f"update_along asked for {sum(target.calls)} log densities, and counted {n.sum()}"
    )
    assert_close(moved.log_density, normal(moved.position), "log_density of update_along", "the target", rtol=1e-12)
    assert (n >= 2).all(), f"update_along counted {n.min()} evaluations; an end and a point make two at least"


def test_update_along_moves_along_its_direction_only(rng):
    start = rng.normal(size=(50, 3))
    moved, _ = update_along(normal, at(normal, start), np.tile([0.0, 2.0, 0.0], (50, 1)), width=1.0, rng=rng)
    off = moved.position - start
    assert not off[:, [0, 2]].any(), "update_along moved coordinates in which its direction has no part"
    assert off[:, 1].all(), "update_along left chains where they were"


def test_update_along_leaves_its_state_alone(rng):
    start = np.full((20, 1), 0.5)
    state = at(normal, start)
    update_along(normal, state, ONE[:20], width=1.0, rng=rng)
    assert (state.position == 0.5).all(), "update_along changed the position of its state"
    assert (state.log_density == -0.125).all(), "update_along changed the log_density of its state"


# coordinate_sweep


def test_coordinate_sweep_keeps_a_correlated_normal_law(rng):
    target = correlated(3, 0.8)
    state = at(target.log_density, target.exact(rng, N // 2))
    state, _ = coordinate_sweep(target.log_density, state, width=1.5, rng=rng)
    z = np.linalg.solve(np.linalg.cholesky(target.covariance), state.position.T).T
    call = "coordinate_sweep from exact draws of a normal law, whitened,"
    assert_mean(z, 0, call, "equations (1) to (4)", sd=1)
    assert_variance(z, 1, call, "equations (1) to (4)")
    products = np.stack([z[:, 0] * z[:, 1], z[:, 0] * z[:, 2], z[:, 1] * z[:, 2]], axis=1)
    assert_mean(products, 0, f"products of two coordinates of {call}", "equations (1) to (4)", sd=1)


def test_coordinate_sweep_keeps_the_law_of_a_funnel(rng):
    target = funnel(3, 1.5)
    state = at(target.log_density, target.exact(rng, N // 2))
    state, _ = coordinate_sweep(target.log_density, state, width=np.array([2.0, 1.0, 3.0]), rng=rng)
    neck, rest = state.position[:, 0], state.position[:, 1:]
    call = "coordinate_sweep from exact draws of a funnel"
    assert_distribution(neck, stats.norm(0, 1.5), f"the neck after {call}", "equations (1) to (4)")
    for i in (0, 1):
        scaled = rest[:, i] * np.exp(-neck / 2)
        assert_distribution(scaled, stats.norm(), f"a coordinate over its scale after {call}", "equations (1) to (4)")


def test_coordinate_sweep_keeps_positive_numbers(rng):
    target = gammas(np.array([3.0, 0.8]), np.array([2.0, 1.0]))
    state = at(target.log_density, target.exact(rng, N // 2))
    state, _ = coordinate_sweep(target.log_density, state, width=1.0, rng=rng)
    for i, law in enumerate((stats.gamma(3, scale=0.5), stats.gamma(0.8))):
        call = f"coordinate {i} after coordinate_sweep from exact gamma draws"
        assert_distribution(state.position[:, i], law, call, "equations (1) to (4)")


def test_coordinate_sweep_keeps_heavy_tails(rng):
    target = student_t(1, 1.0)
    state = at(target.log_density, target.exact(rng, N))
    state, _ = coordinate_sweep(target.log_density, state, width=2.0, max_steps=20, rng=rng)
    assert_distribution(state.position[:, 0], stats.cauchy(), "coordinate_sweep from Cauchy draws", "Cauchy's law")


def test_coordinate_sweep_moves_every_coordinate_by_its_own_width(rng):
    # On a flat density a coordinate moves by less than its width where there is one step.
    state, n = coordinate_sweep(
        flat, State(np.zeros((2000, 3)), np.zeros(2000)), width=np.array([1.0, 10.0, 0.1]), max_steps=1, rng=rng
    )
    far = abs(state.position).max(axis=0)
    ok = (far < [1, 10, 0.1]) & (far > [0.7, 7, 0.07])
    assert ok.all(), f"coordinate_sweep(width=[1, 10, 0.1], max_steps=1) moved by up to {far}"
    assert (n == 3).all(), f"coordinate_sweep counted {n.max()} evaluations; there is one for each of 3 coordinates"


def test_coordinate_sweep_goes_from_the_first_to_the_last(rng):
    # The second coordinate may only be where the first is, give or take 1: so it follows the first one's new place.
    def band(x):
        inside = (abs(x[:, 0]) < 1000) & (x[:, 1] > x[:, 0] - 1000) & (x[:, 1] < x[:, 0] + 1)
        return np.where(inside, 0.0, -np.inf)

    state = State(np.zeros((500, 2)), np.zeros(500))
    state, _ = coordinate_sweep(band, state, width=2000.0, max_steps=4, rng=rng)
    share = (state.position[:, 0] >= -1).mean()
    assert share > 0.99, (
        f"coordinate_sweep moved the first coordinate below -1 in {1 - share:.0%} of the chains at first"
    )
    share = (state.position[:, 1] > 1).mean()
    assert share > 0.1, f"the second coordinate followed the first one upwards in {share:.0%} of the chains"


def test_coordinate_sweep_counts_the_evaluations_of_all_coordinates(rng):
    target = Counting(normal)
    state, n = coordinate_sweep(target, at(normal, rng.normal(size=(50, 4))), width=1.0, rng=rng)
    assert sum(target.calls) == n.sum(), f"coordinate_sweep asked for {sum(target.calls)} and counted {n.sum()}"
    assert_close(state.log_density, normal(state.position), "log_density of coordinate_sweep", "the target", rtol=1e-12)


# random_direction_step


def test_random_direction_step_keeps_the_law_of_its_target(rng):
    target = correlated(3, 0.8)
    state = at(target.log_density, target.exact(rng, N // 2))
    state, _ = random_direction_step(target.log_density, state, width=1.5, rng=rng)
    z = np.linalg.solve(np.linalg.cholesky(target.covariance), state.position.T).T
    call = "random_direction_step from exact draws of a normal law, whitened,"
    assert_mean(z, 0, call, "equations (1) to (4)", sd=1)
    assert_variance(z, 1, call, "equations (1) to (4)")
    products = np.stack([z[:, 0] * z[:, 1], z[:, 0] * z[:, 2], z[:, 1] * z[:, 2]], axis=1)
    assert_mean(products, 0, f"products of two coordinates of {call}", "equations (1) to (4)", sd=1)


def test_random_direction_step_takes_directions_from_the_sphere(rng):
    state = State(np.zeros((N, 3)), np.zeros(N))
    state, _ = random_direction_step(flat, state, width=1.0, max_steps=1, rng=rng)
    size = np.linalg.norm(state.position, axis=1)
    assert size.max() < 1, (
        f"random_direction_step(width=1, max_steps=1) moved by {size.max():.3g}: directions have length 1"
    )
    assert size.max() > 0.9, f"random_direction_step(width=1, max_steps=1) moved by at most {size.max():.3g}"
    unit = state.position / size[:, None]
    # On the sphere in three dimensions each coordinate is uniform between -1 and 1.
    for i in range(3):
        call = f"coordinate {i} of the directions of random_direction_step"
        assert_distribution(unit[:, i], stats.uniform(-1, 2), call, "the uniform law on the sphere")


def test_random_direction_step_takes_coordinates_of_either_sign(rng):
    state = State(np.zeros((N, 3)), np.zeros(N))
    state, _ = random_direction_step(flat, state, width=1.0, max_steps=1, rng=rng)
    sign = np.sign(state.position)
    products = np.stack([sign[:, 0] * sign[:, 1], sign[:, 0] * sign[:, 2], sign[:, 1] * sign[:, 2]], axis=1)
    call = "products of the signs of two coordinates of the directions of random_direction_step"
    assert_mean(products, 0, call, "the uniform law on the sphere", sd=1)


def test_random_direction_step_gives_each_chain_its_direction(rng):
    state, n = random_direction_step(flat, State(np.zeros((40, 2)), np.zeros(40)), width=1.0, max_steps=1, rng=rng)
    slope = state.position[:, 1] / state.position[:, 0]
    kinds = len(np.unique(slope.round(6)))
    assert kinds > 30, f"random_direction_step moved 40 chains in only {kinds} directions"
    assert (n == 1).all(), f"random_direction_step counted {n.max()} evaluations where one is enough"


# elliptical_step

MEAN, FACTOR = np.array([4.0, -2.0]), np.array([[1.5, 0.0], [-0.8, 0.6]])


def test_elliptical_step_draws_from_an_ellipse_through_the_point(rng):
    start = np.tile(MEAN + [3.0, 1.0], (N, 1))
    state, n = elliptical_step(flat, State(start, np.zeros(N)), mean=MEAN, factor=FACTOR, rng=rng)
    off = state.position - MEAN
    call = "y - mean of elliptical_step(a flat likelihood) from mean + (3, 1)"
    # cos and sin of a uniform angle have mean 0 and mean square 1/2.
    assert_mean(off, 0, call, "equation (5)")
    second = np.stack([off[:, 0] ** 2, off[:, 1] ** 2, off[:, 0] * off[:, 1]], axis=1)
    prior = FACTOR @ FACTOR.T
    expected = (np.array([9.0, 1.0, 3.0]) + [prior[0, 0], prior[1, 1], prior[0, 1]]) / 2
    assert_mean(second, expected, f"squares and product of {call}", "equation (5)")
    assert (n == 1).all(), f"elliptical_step counted {n.max()} evaluations where the first angle is accepted"


def test_elliptical_step_keeps_the_prior_where_the_likelihood_is_flat(rng):
    start = MEAN + rng.standard_normal((N, 2)) @ FACTOR.T
    state, _ = elliptical_step(flat, State(start, np.zeros(N)), mean=MEAN, factor=FACTOR, rng=rng)
    z = np.linalg.solve(FACTOR, (state.position - MEAN).T).T
    call = "elliptical_step(a flat likelihood) from the prior, whitened,"
    assert_mean(z, 0, call, "the prior", sd=1)
    assert_variance(z, 1, call, "the prior")
    assert_mean(z[:, 0] * z[:, 1], 0, f"the product of both coordinates of {call}", "the prior", sd=1)


@pytest.mark.parametrize("noise", [0.3, 1.5])
def test_elliptical_step_keeps_the_posterior(noise, rng):
    data, look = np.array([5.0, 0.5]), np.array([[1.0, 0.5], [0.0, 1.0]])

    def log_likelihood(x):
        return -(((x @ look.T - data) / noise) ** 2).sum(axis=1) / 2

    prior = np.linalg.inv(FACTOR @ FACTOR.T)
    covariance = np.linalg.inv(prior + look.T @ look / noise**2)
    mean = covariance @ (prior @ MEAN + look.T @ data / noise**2)
    root = np.linalg.cholesky(covariance)
    start = mean + rng.standard_normal((N, 2)) @ root.T
    state, _ = elliptical_step(log_likelihood, at(log_likelihood, start), mean=MEAN, factor=FACTOR, rng=rng)
    z = np.linalg.solve(root, (state.position - mean).T).T
    call = f"elliptical_step from the posterior (noise {noise}), whitened,"
    assert_mean(z, 0, call, "the exact posterior", sd=1)
    assert_variance(z, 1, call, "the exact posterior")
    assert_mean(z[:, 0] * z[:, 1], 0, f"the product of both coordinates of {call}", "the exact posterior", sd=1)
    density = log_likelihood(state.position)
    assert_close(state.log_density, density, "log_density of elliptical_step", "the log likelihood there", rtol=1e-9)


def test_elliptical_step_shrinks_towards_where_it_is(rng):
    start = np.tile(MEAN + [0.5, -1.0], (200, 1))

    def near(x):
        return np.where(np.linalg.norm(x - start[0], axis=1) < 1e-5, 0.0, -np.inf)

    target = Counting(near)
    state, n = elliptical_step(target, State(start, np.zeros(200)), mean=MEAN, factor=FACTOR, rng=rng)
    far = np.linalg.norm(state.position - start, axis=1).max()
    assert far < 1e-5, f"elliptical_step moved by {far:.3g} where the likelihood vanishes beyond 1e-5"
    assert n.mean() < 100, f"elliptical_step tried {n.mean():.0f} angles for a ten-thousandth of the ellipse"
    assert sum(target.calls) == n.sum(), f"elliptical_step asked for {sum(target.calls)}, and counted {n.sum()}"


def test_elliptical_step_goes_on_between_the_angles_that_were_rejected(rng):
    # Coordinates 0 and 2 have next to no variance: the first shows the cosine of the angle, their ratio which chain it is, and
    # the sign of coordinate 1 the sign of the angle, but for that of the draw from the prior.
    n, factor = 3000, np.diag([1e-15, 1.0, 1e-15])
    start = np.stack([np.ones(n), np.zeros(n), np.arange(n)], axis=1)
    angles: list[list[float]] = [[] for _ in range(n)]

    def reject_twice(x):
        for row in x:
            angles[round(row[2] / row[0])].append(np.sign(row[1]) * np.arccos(np.clip(row[0], -1, 1)))
        return np.array([0.0 if len(angles[round(row[2] / row[0])]) > 2 else -np.inf for row in x])

    _, tried = elliptical_step(reject_twice, State(start, np.zeros(n)), mean=np.zeros(3), factor=factor, rng=rng)
    assert (tried == 3).all(), f"elliptical_step tried {tried.max()} angles where the third is accepted"
    turns = np.array(angles) % (2 * np.pi)
    right, left = turns[:, :2].min(axis=1), turns[:, :2].max(axis=1) - 2 * np.pi
    third = np.where(turns[:, 2] < right, turns[:, 2], turns[:, 2] - 2 * np.pi)
    share = (third - left) / (right - left)
    call = "the third angle of elliptical_step, on the piece of the ellipse that holds 0 and lies between the two rejected ones,"
    assert_distribution(share, stats.uniform(-1e-9, 1 + 2e-9), call, "equation (6): uniform")


def test_elliptical_step_stops_at_a_likelihood_that_changes_its_mind(rng):
    with pytest.raises(ValueError, match="log_density_fn must be the same"):
        elliptical_step(
            lambda x: np.full(len(x), -900.0),
            State(ONE[:3, [0, 0]] / 3, np.zeros(3)),
            mean=MEAN,
            factor=FACTOR,
            rng=rng,
        )


def test_elliptical_step_in_a_hundred_dimensions(rng):
    state = at(lambda x: -2 * (x**2).sum(axis=1), rng.standard_normal((2000, 100)) / np.sqrt(5))
    state, _ = elliptical_step(
        lambda x: -2 * (x**2).sum(axis=1), state, mean=np.zeros(100), factor=np.eye(100), rng=rng
    )
    found = 5 * (state.position**2).sum(axis=1)
    call = "five times the squared length after elliptical_step in 100 dimensions"
    assert_distribution(found, stats.chi2(100), call, "the chi-square law of the posterior")


def test_elliptical_step_leaves_its_state_alone(rng):
    start = np.tile(MEAN, (30, 1))
    elliptical_step(flat, State(start, np.zeros(30)), mean=MEAN, factor=FACTOR, rng=rng)
    assert (start == MEAN).all(), "elliptical_step changed the position of its state"


# sample


def test_sample_records_chains_then_draws(rng):
    def shift(log_density_fn, state, *, rng):
        moved = state.position + [1.0, 10.0]
        return State(moved, log_density_fn(moved)), np.arange(3) + len(moved)

    found = sample(normal, np.zeros((3, 2)), 4, update=shift, rng=rng)
    expected = np.arange(1, 5)[None, :, None] * np.array([1.0, 10.0]) * np.ones((3, 1, 1))
    assert_close(found.draws, expected, "draws of sample(an update that adds (1, 10))", "after each update")
    density = -(expected**2).sum(axis=2) / 2
    assert_close(found.log_density, density, "log_density of sample", "the target at each draw")
    counted = np.tile(np.array([[3], [4], [5]]), (1, 4))
    assert_close(found.n_evaluations, counted, "n_evaluations of sample", "what each update returned")


def test_sample_of_a_hundred_dimensions(rng):
    target = correlated(100, 0.5)
    found = sample(
        target.log_density, target.exact(rng, 300), 3, update=partial(random_direction_step, width=3.0), rng=rng
    )
    length = (found.draws[:, -1] @ np.linalg.inv(target.covariance) * found.draws[:, -1]).sum(axis=1)
    assert_distribution(length, stats.chi2(100), "the distance after sample in 100 dimensions", "the chi-square law")


def test_sample_takes_its_randomness_from_its_generator_and_leaves_its_start_alone():
    start = np.zeros((5, 2))

    def run(seed):
        generator = np.random.default_rng(seed)
        return sample(normal, start, 4, update=partial(coordinate_sweep, width=1.0), rng=generator).draws

    first = run(1)
    assert_close(run(1), first, "sample with the same seed again", "the first time", rtol=0)
    assert (run(2) != first).any(), "sample returned the same draws for two seeds"
    assert not start.any(), "sample changed its argument position"


@pytest.mark.given
@pytest.mark.parametrize(
    ("position", "n_draws", "name"),
    [
        (np.zeros(3), 2, "position"),
        (np.array([[np.nan]]), 2, "position"),
        (np.array([[9.0]]), 2, "position"),
        (ONE, 0, "n_draws"),
    ],
)
def test_sample_refuses_starts_without_density_and_no_draws(position, n_draws, name, rng):
    with pytest.raises(ValueError, match=f"{name} must"):
        sample(box, position, n_draws, update=partial(coordinate_sweep, width=1.0), rng=rng)
