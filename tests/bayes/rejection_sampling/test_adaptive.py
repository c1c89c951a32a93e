"""Shared tests of bayes/rejection_sampling/adaptive: run on the reference, and on the learner's file.

What is random is checked by tests that a right solution fails with a probability of 1e-8 each, 25 of them: 3e-7 together.
"""

import math

import numpy as np
import pytest
from scipy import special, stats

from mlpath.bayes.rejection_sampling.adaptive import (
    Hull,
    accept,
    bounds,
    draw,
    evaluate_target,
    intersections,
    log_mass,
    piece_quantile,
    sample,
    upper_hull,
)
from mlpath.testing import assert_close, assert_distribution, assert_frequencies, assert_frequency, assert_mean

SEED = 20250508
N = 4000
ENOUGH = 20 * N  # tries: more than any of these tests needs


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


# Targets: log density and derivative


def normal(x):
    return -(x**2) / 2, -x


def gamma(x):
    """Of shape 3 and rate 2."""
    return 2 * np.log(x) - 2 * x, 2 / x - 2


def log_gamma(x):
    """The logarithm of a gamma variable of shape 1.5: slopes from 1.5 down to minus anything."""
    return 1.5 * x - np.exp(x), 1.5 - np.exp(x)


def laplace(x):
    return -np.abs(x - 0.5), -np.sign(x - 0.5)


def flat(x):
    return np.full(x.shape, 7.0), np.zeros(x.shape)


def cauchy(x):
    return -np.log1p(x**2), -2 * x / (1 + x**2)


def hull_of(target, x, **support):
    x = np.array(x, dtype=float)
    return upper_hull(x, *target(x), **support)


class Counted:
    """A target that remembers where it was computed."""

    def __init__(self, target):
        self.target, self.calls = target, []

    def __call__(self, x):
        self.calls.append(x.copy())
        return self.target(x)

    @property
    def n(self):
        return sum(map(len, self.calls))


# intersections


def test_intersections_by_hand():
    # 1 + 2 (x + 2) meets 4 + 0.5 (x - 1) at x = -1; and this meets 0 - 3 (x - 5) at 23/7.
    x, height, slope = np.array([-2.0, 1.0, 5.0]), np.array([1.0, 4.0, 0.0]), np.array([2.0, 0.5, -3.0])
    found = intersections(x, height, slope)
    call = "intersections([-2, 1, 5], [1, 4, 0], [2, 0.5, -3])"
    assert_close(found, np.array([-1.0, 23 / 7]), call, "equation (2)", rtol=1e-12)


def test_intersections_lie_where_both_tangents_are_equally_high():
    x = np.array([0.02, 0.3, 0.9, 1.7, 4.0, 11.0])
    height, slope = gamma(x)
    z = intersections(x, height, slope)
    before, after = height[:-1] + slope[:-1] * (z - x[:-1]), height[1:] + slope[1:] * (z - x[1:])
    assert_close(before, after, "the left tangent at its intersection", "the right one", rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("error")
def test_intersections_of_equal_tangents_are_in_the_middle():
    found = intersections(np.array([1.0, 2.0, 5.0]), np.array([3.0, 1.0, -5.0]), np.full(3, -2.0))
    assert_close(found, np.array([1.5, 3.5]), "intersections of one line", "its docstring")
    single = intersections(np.array([1.0]), np.zeros(1), np.zeros(1))
    assert_close(single, np.zeros(0), "intersections of one tangent", "its docstring: none")


def test_intersections_stay_between_their_neighbours():
    # As after rounding: the heights are a little off for tangents that touch so near to each other.
    x, slope = np.array([1.0, 1.0 + 1e-7, 2.0]), np.array([1.0, 1.0 - 1e-9, 0.0])
    high = intersections(x, np.array([0.0, 2e-7, 0.7]), slope)
    low = intersections(x, np.array([0.0, 0.2e-7, 0.7]), slope)
    for found, end in ((high, 1), (low, 0)):
        call = "intersections of tangents that touch 1e-7 apart"
        assert_close(found[0], x[end], call, "its docstring: not beyond a neighbour", rtol=1e-14)


def test_intersections_leave_their_arguments_alone():
    x, height, slope = np.array([-1.0, 2.0]), np.array([-0.5, -2.0]), np.array([1.0, -2.0])
    intersections(x, height, slope)
    assert x.tolist() == [-1, 2], "intersections changed its argument x"
    assert slope.tolist() == [1, -2], "intersections changed its argument slope"


# log_mass


def test_log_mass_by_hand():
    x, height, slope = np.array([1.0, 0.0, -2.0]), np.array([0.5, -1.0, 3.0]), np.array([2.0, -0.5, 0.0])
    found = log_mass(x, height, slope, np.array([0.0, 0.0, -3.5]), np.array([3.0, 4.0, -1.0]))
    expected = np.array(
        [
            math.log((math.exp(4.5) - math.exp(-1.5)) / 2),
            math.log(2 * (math.exp(-1) - math.exp(-3))),
            3 + math.log(2.5),
        ]
    )
    assert_close(found, expected, "log_mass of lines with slopes 2, -0.5 and 0", "equation (3)", rtol=1e-12)


def test_log_mass_of_infinite_pieces():
    x, height, slope = np.array([1.0, -3.0]), np.array([2.0, 0.0]), np.array([0.25, -4.0])
    found = log_mass(x, height, slope, np.array([-np.inf, -5.0]), np.array([3.0, np.inf]))
    expected = np.array([2.5 - math.log(0.25), 8 - math.log(4)])
    assert_close(found, expected, "log_mass of pieces from -inf, and to inf", "equation (3)", rtol=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("slope", [0.0, 1e-323, 1e-30, 1e-14, 1e-9, 1e-4, 0.3, 40.0, 1e5])
def test_log_mass_is_precise_for_any_slope(slope):
    width, x = 1.75, np.full(2, 0.25)
    found = log_mass(x, np.full(2, 3.0), np.array([slope, -slope]), np.full(2, -1.25), np.full(2, 0.5))
    t = slope * width
    # (1 - exp(-t)) / t by its series where t is small
    factor = 1 - t / 2 + t**2 / 6 - t**3 / 24 if t < 1e-3 else -math.expm1(-t) / t
    length = math.log(width * factor)
    expected = 3 + np.array([slope * 0.25, slope * 1.5]) + length
    assert_close(found, expected, f"log_mass with the slopes ±{slope:g}", "equation (3)", rtol=1e-12)


@pytest.mark.filterwarnings("error")
def test_log_mass_stays_in_logarithms():
    x, height, slope = np.zeros(3), np.array([2000.0, -3000.0, 1.0]), np.array([-1.0, 3.0, 5.0])
    found = log_mass(x, height, slope, np.array([0.0, -2.0, 0.0]), np.array([2.0, 1.0, 0.0]))
    expected = np.array([2000 + math.log(-math.expm1(-2)), -2997 + math.log(-math.expm1(-9) / 3), -np.inf])
    assert_close(
        found, expected, "log_mass with heights of 2000 and -3000, and a width of 0", "equation (3)", rtol=1e-12
    )


# piece_quantile


def test_piece_quantile_by_hand():
    u, slope = np.array([0.2, 0.2, 0.2]), np.array([1.5, -1.5, 0.0])
    left, right = np.array([-1.0, -1.0, -1.0]), np.array([2.0, 2.0, 2.0])
    mass = math.exp(4.5) - 1
    expected = np.array(
        [-1 + math.log(1 + 0.2 * mass) / 1.5, -1 - math.log(1 + 0.2 * math.expm1(-4.5)) / 1.5, -1 + 0.6]
    )
    found = piece_quantile(u, slope, left, right)
    assert_close(found, expected, "piece_quantile(0.2, slopes [1.5, -1.5, 0], -1, 2)", "equation (4)", rtol=1e-12)


def test_piece_quantile_of_infinite_pieces():
    found = piece_quantile(
        np.array([0.1, 0.1]), np.array([2.0, -0.5]), np.array([-np.inf, 3.0]), np.array([1.0, np.inf])
    )
    expected = np.array([1 + math.log(0.1) / 2, 3 - 2 * math.log(0.9)])
    assert_close(
        found, expected, "piece_quantile(0.1, ...) of pieces from -inf, and to inf", "equation (4)", rtol=1e-12
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("slope", [0.0, 1e-323, 1e-30, 1e-14, 1e-9, 1e-4, 0.3, 40.0, 1e5])
def test_piece_quantile_is_precise_for_any_slope(slope):
    u, t = np.array([0.125, 0.75]), 1.5 * slope
    found = piece_quantile(np.tile(u, 2), np.repeat([slope, -slope], 2), np.full(4, -0.5), np.full(4, 1.0))
    # Distance from the higher end, as a share of the width, where the share v of the mass is nearer to that end.
    v = np.concatenate([1 - u, u])
    r = v - t * v * (1 - v) / 2 if t < 1e-6 else -np.log1p(v * math.expm1(-t)) / t
    expected = np.concatenate([1 - 1.5 * r[:2], -0.5 + 1.5 * r[2:]])
    call = f"piece_quantile([0.125, 0.75], slopes ±{slope:g}, -0.5, 1)"
    assert_close(found, expected, call, "equation (4)", rtol=1e-11, atol=1e-11)


def test_piece_quantile_never_leaves_its_piece(rng):
    # One end is much nearer to 0 than the other, so that the width is rounded more coarsely than that end.
    left, right = rng.uniform(-1, -0.5, 2000), rng.uniform(-1e-3, 1e-3, 2000)
    left, right = np.where(np.arange(2000) % 2, [left, right], [-right, -left])
    u = rng.choice([2.0**-53, 1 - 2.0**-53], 2000)
    slope = rng.choice([0.0, 1e-16, -1e-16, 1e-14, -1e-14, 1e-3, -1e-3, 700.0, -700.0], 2000)
    found = piece_quantile(u, slope, left, right)
    out = np.count_nonzero((found < left) | (found > right))
    assert not out, f"piece_quantile returned {out} points of 2000 outside their pieces"


@pytest.mark.parametrize("slope", [-2.0, 0.7])
def test_piece_quantile_makes_uniform_numbers_into_draws_of_a_piece(slope, rng):
    x = piece_quantile(rng.random(N), np.full(N, slope), np.full(N, 1.0), np.full(N, 2.5))

    def cdf(x):
        return np.clip(np.expm1(slope * (x - 1)) / np.expm1(slope * 1.5), 0, 1)

    assert_distribution(x, cdf, f"piece_quantile(uniform numbers, slope {slope}, 1, 2.5)", "its density, exp(slope x)")


# upper_hull


def test_upper_hull_has_the_edges_of_its_pieces():
    hull = hull_of(normal, [-1.0, 0.5, 2.0])
    expected = np.array([-np.inf, -0.25, 1.25, np.inf])
    assert_close(hull.edges, expected, "upper_hull of the normal density at [-1, 0.5, 2]: edges", "equation (2)")
    assert_close(hull.x, np.array([-1, 0.5, 2.0]), "upper_hull(...).x", "its argument")
    assert_close(hull.height, np.array([-0.5, -0.125, -2]), "upper_hull(...).height", "its argument")
    assert_close(hull.slope, np.array([1, -0.5, -2.0]), "upper_hull(...).slope", "its argument")
    bounded = hull_of(normal, [1.0], lower=-2.0, upper=1.5)
    assert_close(bounded.edges, np.array([-2, 1.5]), "upper_hull([1], lower=-2, upper=1.5).edges", "its docstring")


def test_upper_hull_refuses_what_is_not_concave_and_names_the_point():
    x, height, slope = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.9, 1.3, 0.5]), np.array([1.0, 0.5, -1.0, -1.0])
    with pytest.raises(ValueError, match="log_density_fn must") as error:
        upper_hull(x, height, slope)  # from 4 the tangent has a height of 1.5 at 3, of 2.5 at 2
    said = str(error.value)
    # At 3 the tangents of 2 and 4 have heights of 1.4 and 1.5; at 4 that of 3 has 0.3: 0.2 too low.
    assert said.endswith("4.0"), f"the point at 4 is 0.2 above the tangent at 3, but the message says: {said}"


def test_upper_hull_compares_with_all_tangents_on_both_sides():
    x = np.array([-1.0, 0.0, 1.0])
    for height, slope, name in (
        ([0.4, 0.0, -0.5], [2.0, -0.25, -2.0], "-1.0"),
        ([-0.5, 0.0, 0.4], [2.0, 0.25, -2.0], "1.0"),
        # below its neighbour's tangent, but above one that touches further away
        ([0.0, 0.1, 0.24], [0.0, 0.15, -1.0], "1.0"),
    ):
        with pytest.raises(ValueError, match="log_density_fn must") as error:
            upper_hull(x, np.array(height), np.array(slope), lower=-2.0, upper=2.0)
        assert str(error.value).endswith(f" {name}"), f"the worst point is {name}, but the message says: {error.value}"


def test_upper_hull_refuses_slopes_that_rise():
    with pytest.raises(ValueError, match="log_density_fn must"):
        upper_hull(np.array([0.0, 1.0]), np.zeros(2), np.array([-1.0, 1.0]), lower=-2.0, upper=2.0)


@pytest.mark.parametrize("size", [-1.0, -1e6])
def test_upper_hull_forgives_rounding(size):
    x = np.array([1.0, 2.0, 3.0])
    excess = 5e-9 * max(1, abs(size))  # relative to the height, where that is larger
    height = size + np.array([0.0, 1.0 + excess, 0.0])
    hull = upper_hull(x, height, np.array([1.0, 0.0, -1.0]))
    assert_close(hull.height, height, "upper_hull(...).height, off by rounding,", "its argument")
    with pytest.raises(ValueError, match="log_density_fn must"):
        upper_hull(x, height + [0, 2 * excess, 0], np.array([1.0, 0.0, -1.0]))


def test_upper_hull_takes_a_line_and_a_kink():
    x = np.array([-1.0, 0.5, 2.0, 3.0])
    edges = hull_of(laplace, x).edges
    # The tangent at the kink is horizontal, and meets the others there; to the right there is one line only.
    expected = np.array([-np.inf, 0.5, 0.5, 2.5, np.inf])
    assert_close(edges, expected, "upper_hull of -|x - 0.5| at [-1, 0.5, 2, 3]: edges", "equation (2)")


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "support"),
    [([], {}), ([1.0, 0.0], {}), ([0.0, 0.0], {}), ([-3.0, 1.0], {"lower": -2.0}), ([-1.0, 1.0], {"upper": 0.5})],
)
def test_upper_hull_refuses_points_out_of_order_or_support(x, support):
    with pytest.raises(ValueError, match="x must"):
        hull_of(normal, x, **support)


@pytest.mark.given
@pytest.mark.parametrize(("x", "support"), [([1.0, 2.0], {}), ([-2.0, -1.0], {}), ([0.0], {"lower": -3.0})])
def test_upper_hull_refuses_infinite_mass(x, support):
    with pytest.raises(ValueError, match="x must"):
        hull_of(normal, x, **support)


@pytest.mark.given
def test_upper_hull_rests_on_a_target_that_is_checked():
    x = np.array([0.5, 2.0])
    for wrong in (
        lambda x: (x[:1], x),
        lambda x: (x, x[:, None]),
        lambda x: (x * np.nan, x),
        lambda x: (x, x - np.inf),
    ):
        with pytest.raises(ValueError, match="log_density_fn must"):
            evaluate_target(wrong, x)


# bounds


def test_bounds_by_hand():
    hull = hull_of(normal, [-1.0, 0.5, 2.0])
    upper, lower = bounds(hull, np.array([1.0, -2.0, -0.25, 0.5, 2.0, 3.0, -1.0]))
    # Tangents 0.5 + x, 0.125 - x / 2 and 2 - 2 x; chords with slopes 0.25 and -1.25.
    assert_close(
        upper, np.array([-0.375, -1.5, 0.25, -0.125, -2, -4, -0.5]), "bounds of the normal density, upper", "(1)"
    )
    expected = np.array([-0.75, -np.inf, -0.3125, -0.125, -2, -np.inf, -0.5])
    assert_close(lower, expected, "bounds of the normal density, lower", "the chords")


def test_bounds_enclose_the_log_density(rng):
    hull = hull_of(gamma, [0.1, 0.4, 0.9, 2.0, 5.0, 6.5], lower=0.0)
    points = rng.permutation(np.linspace(0.01, 12, 500))
    (upper, lower), height = bounds(hull, points), gamma(points)[0]
    high, low = np.count_nonzero(height > upper + 1e-12), np.count_nonzero(height < lower - 1e-12)
    assert not high, f"the gamma density lies above the upper bound at {high} of 500 points"
    assert not low, f"the gamma density lies below the lower bound at {low} of 500 points"
    expected = np.interp(points, hull.x, hull.height, left=-np.inf, right=-np.inf)
    assert_close(lower, expected, "bounds of the gamma density, lower", "linear interpolation", rtol=1e-9, atol=1e-12)
    piece = np.searchsorted(hull.edges[1:-1], points)
    expected = hull.height[piece] + hull.slope[piece] * (points - hull.x[piece])
    assert_close(upper, expected, "bounds of the gamma density, upper", "the pieces' tangents", rtol=1e-9, atol=1e-12)


def test_bounds_of_one_tangent():
    upper, lower = bounds(hull_of(gamma, [2.0], lower=0.0), np.array([1.0, 4.0]))
    start = 2 * math.log(2) - 4
    assert_close(upper, np.array([start + 1, start - 2]), "bounds of one tangent, upper", "equation (1)")
    assert_close(lower, np.full(2, -np.inf), "bounds of one tangent, lower", "its docstring")


# draw


def cdf_of(hull):
    """The distribution function of a hull's exponential, by adding up its pieces."""
    ends = np.clip(hull.edges, -50, 50)
    top = hull.height.max()

    def integral(i, to):
        at = hull.height[i] - top + hull.slope[i] * (np.array([ends[i], 0.0])[0] - hull.x[i])
        s, w = hull.slope[i], to - ends[i]
        return np.exp(at) * (w if s == 0 else np.expm1(s * w) / s)

    masses = np.array([integral(i, ends[i + 1]) for i in range(len(hull.x))])

    def cdf(x):
        parts = [integral(i, np.clip(x, ends[i], ends[i + 1])) for i in range(len(hull.x))]
        return np.clip(np.sum(parts, axis=0) / masses.sum(), 0, 1)

    return cdf, masses / masses.sum()


@pytest.mark.parametrize(
    ("name", "target", "x", "support"),
    [
        ("normal", normal, [-1.5, 0.0, 1.0], {}),
        ("gamma", gamma, [0.3, 0.8, 1.0, 4.0], {"lower": 0.0}),
        ("truncated normal", normal, [-0.5, 0.7], {"lower": -2.0, "upper": 1.0}),
    ],
)
def test_draw_follows_the_exponential_of_the_hull(name, target, x, support, rng):
    hull = hull_of(target, x, **support)
    points = draw(hull, N, rng=rng)
    assert points.shape == (N,), f"draw(hull, {N}) returned the shape {points.shape}"
    cdf, shares = cdf_of(hull)
    call = f"draw(hull of the {name} density at {x}, {N})"
    assert_distribution(points, cdf, call, "equations (3) and (4)")
    counts = np.histogram(points, hull.edges)[0]
    assert_frequencies(counts, shares, f"the pieces of {call}", "equation (3)")


def test_draw_returns_points_in_no_order(rng):
    points = draw(hull_of(normal, [-1.0, 1.0]), N, rng=rng)
    up = np.count_nonzero(points[1::2] > points[::2])
    call = "pairs of neighbours of which the second is greater, among those of draw(hull, ...)"
    assert_frequency(up, N // 2, 0.5, call, "its docstring: the points are independent")


def test_draw_survives_heights_of_any_size(rng):
    for size in (-3000.0, 3000.0):
        hull = hull_of(lambda x, size=size: (size + normal(x)[0], -x), [-1.0, 2.0])
        left = np.count_nonzero(draw(hull, N, rng=rng) < 0.5)
        call = f"points of draw left of 0.5, where the heights are about {size:g}"
        assert_frequency(left, N, 2 / 3, call, "the worked example")


# accept


def tent(height):
    """A log density between the bounds of `TENT` at 0.5, as high as is said."""

    def target(x):
        return np.full(x.shape, float(height)), np.zeros(x.shape)

    return target


# Tangents -1 + 5 (x - 0.2) and -1 - 5 (x - 0.8), which meet at (0.5, 0.5); the chord has a height of -1.
TENT = Hull(np.array([0.2, 0.8]), np.full(2, -1.0), np.array([5.0, -5.0]), np.array([0.0, 0.5, 1.0]))


def test_accept_takes_points_with_the_probability_of_equation_6(rng):
    outcome = accept(tent(-0.25), TENT, np.full(N, 0.5), rng=rng)
    call = "points accepted where u = 0.5, h = -0.25 and l = -1"
    same = "accepted" if outcome.accepted.all() else "rejected"
    assert 0 < outcome.accepted.sum() < N, f"all of {N} points were {same}: is there a coin for each?"
    assert_frequency(outcome.accepted.sum(), N, math.exp(-0.75), call, "equation (6)")
    call = "points computed where u = 0.5 and l = -1"
    assert_frequency(len(outcome.x), N, -math.expm1(-1.5), call, "equation (5)")


def test_accept_needs_no_evaluation_where_the_bounds_meet(rng):
    target = Counted(flat)
    hull = Hull(np.array([0.2, 0.8]), np.full(2, 7.0), np.zeros(2), np.array([0.0, 0.5, 1.0]))
    outcome = accept(target, hull, rng.uniform(0.2, 0.8, 100), rng=rng)
    assert outcome.accepted.all(), f"accept rejected {np.count_nonzero(~outcome.accepted)} points where l = u"
    assert target.calls == [], f"accept called log_density_fn {len(target.calls)} times, where l = u"
    for name in ("x", "height", "slope"):
        found = getattr(outcome, name)
        assert found.shape == (0,), f"accept(...).{name} has shape {found.shape}, where nothing was computed"


def test_accept_computes_what_lies_outside_the_chords_in_one_call(rng):
    target = Counted(normal)
    hull = hull_of(normal, [-1.0, 1.5])
    points = np.array([2.5, 1.5, -4.0, -1.0, 1.75])
    outcome = accept(target, hull, points, rng=rng)
    assert len(target.calls) == 1, f"accept called log_density_fn {len(target.calls)} times, expected once"
    assert_close(target.calls[0], points[[0, 2, 4]], "the points that accept computed", "its docstring")
    assert_close(outcome.x, points[[0, 2, 4]], "accept(...).x", "the points computed")
    assert_close(outcome.height, normal(points[[0, 2, 4]])[0], "accept(...).height", "log_density_fn")
    assert_close(outcome.slope, -points[[0, 2, 4]], "accept(...).slope", "log_density_fn")
    assert outcome.accepted[[1, 3]].all(), "accept rejected a point at which a tangent touches: there l = u"


@pytest.mark.parametrize(("height", "why"), [(0.6, "above the upper hull"), (-1.1, "below the lower hull")])
def test_accept_refuses_what_is_outside_the_bounds_and_names_the_point(height, why, rng):
    def target(x):
        return np.where(x == 0.5, height, np.minimum(5 * x - 2, 3 - 5 * x)), np.zeros(x.shape)

    points = np.repeat([0.2, 0.1, 0.5], [30, 5, 60])
    with pytest.raises(ValueError, match="log_density_fn must") as error:
        accept(target, TENT, points, rng=rng)
    said = str(error.value)
    assert said.endswith("0.5"), f"the log density is {why} at 0.5, but the message says: {said}"


def test_accept_forgives_rounding_and_no_more(rng):
    points = np.full(60, 0.5)
    for size in (0.0, -1e6):
        hull = Hull(TENT.x, TENT.height + size, TENT.slope, TENT.edges)
        scale = max(1.0, abs(size))
        for height in (0.5 + 5e-9 * scale, -1 - 5e-9 * scale):
            accept(tent(height + size), hull, points, rng=rng)
        for height in (0.5 + 3e-8 * scale, -1 - 3e-8 * scale):
            with pytest.raises(ValueError, match="log_density_fn must"):
                accept(tent(height + size), hull, points, rng=rng)


def test_accept_refuses_what_is_no_log_density(rng):
    for wrong in (lambda x: (x * np.nan, x), lambda x: (np.zeros((len(x), 1)), x)):
        with pytest.raises(ValueError, match="log_density_fn must"):
            accept(wrong, TENT, np.full(40, 0.9), rng=rng)


# sample


def logistic(x):
    """The conditional log density of a coefficient: logistic regression on eight observations, standard normal prior."""
    feature = np.array([-2.0, -1.1, -0.4, 0.3, 0.6, 1.2, 2.2, 3.0])
    label = np.array([0, 0, 1, 0, 1, 1, 0, 1])
    z = 0.4 + feature * x[:, None]
    height = (label * z - np.logaddexp(0, z)).sum(axis=1) - x**2 / 2
    return height, ((label - special.expit(z)) * feature).sum(axis=1) - x


def logistic_cdf(x):
    grid = np.linspace(-6, 8, 20_001)
    height = np.exp(logistic(grid)[0])
    below = np.concatenate([[0], np.cumsum((height[1:] + height[:-1]) / 2)])
    return np.interp(x, grid, below / below[-1])


@pytest.mark.parametrize(
    ("name", "target", "start", "support", "cdf"),
    [
        ("normal", normal, [-2.0, 1.0], {}, stats.norm),
        ("normal, from far off", normal, [-40.0, -20.0, 0.0, 35.0], {}, stats.norm),
        ("gamma", gamma, [0.5, 3.0], {"lower": 0.0}, stats.gamma(3, scale=0.5)),
        ("normal above 2", normal, [2.5], {"lower": 2.0}, stats.truncnorm(2, np.inf)),
        ("normal on an interval", normal, [0.0], {"lower": -0.5, "upper": 3.0}, stats.truncnorm(-0.5, 3)),
        ("log-gamma", log_gamma, [-3.0, 9.0], {}, stats.loggamma(1.5)),
        ("laplace", laplace, [-1.0, 2.0], {}, stats.laplace(0.5)),
        ("logistic regression", logistic, [-1.0, 2.0], {}, logistic_cdf),
    ],
)
def test_sample_draws_from_its_target(name, target, start, support, cdf, rng):
    target = Counted(target)
    result = sample(target, np.array(start), N, **support, max_tries=ENOUGH, rng=rng)
    assert result.draws.shape == (N,), f"sample({name}, n_draws={N}).draws has the shape {result.draws.shape}"
    assert_distribution(result.draws, cdf, f"sample({name}, start={start})", "its target")
    assert result.n_evaluations == target.n, (
        f"sample({name}) reports {result.n_evaluations} evaluations, but made {target.n}"
    )
    # 50 tangents leave a gap of the order of 1 / 2500.
    assert target.n < 600, f"sample({name}) made {target.n} evaluations for {N} draws: does its hull grow?"
    assert N <= result.n_tries < 1.5 * N, f"sample({name}) needed {result.n_tries} tries for {N} draws"


def test_sample_rejects_what_the_hull_has_too_much(rng):
    start = np.array([-1.0, 2.0])
    result = sample(normal, start, N, max_points=2, max_tries=ENOUGH, rng=rng)
    assert_distribution(result.draws, stats.norm, "sample(normal, start=[-1, 2], max_points=2)", "its target")
    # The worked example: this hull has a mass of 1.5 e, so the tries are a sum of geometric numbers.
    p = math.sqrt(2 * math.pi) / (1.5 * math.e)
    tries = (result.n_tries - N / p) / math.sqrt(N * (1 - p)) * p
    assert_mean([tries], 0, "n_tries of sample with two tangents, standardised,", "the worked example", sd=1)


def test_sample_counts_what_it_proposes(rng):
    # One tangent has no chords, so that each point proposed is computed.
    target = Counted(normal)
    result = sample(target, np.array([1.5]), 300, lower=0.0, max_points=1, max_tries=ENOUGH, rng=rng)
    tries = target.n - 1
    assert result.n_tries == tries, (
        f"sample proposed {tries} points, as many as it computed, but counts {result.n_tries}"
    )


def test_sample_draws_independently(rng):
    x = sample(normal, np.array([-1.0, 0.5]), 2 * N, max_tries=ENOUGH, rng=rng).draws.reshape(N, 2)
    assert_mean(x.prod(axis=1), 0, "the product of neighbouring draws of sample(normal)", "independent draws", sd=1)
    up = np.count_nonzero(x[:, 1] > x[:, 0])
    assert_frequency(up, N, 0.5, "neighbouring draws of sample(normal) that increase", "independent draws")


def test_sample_grows_its_hull_up_to_max_points(rng):
    start = np.array([-2.0, 1.0])
    for max_points in (2, 9, 30):
        target = Counted(normal)
        hull = sample(target, start, N, max_points=max_points, max_tries=ENOUGH, rng=rng).hull
        n = len(hull.x)
        assert n == max_points, (
            f"after {target.n} evaluations the hull has {n} points, where max_points is {max_points}"
        )
        assert np.isin(start, hull.x).all(), "the points of `start` are no longer in the hull"
        computed = list(dict.fromkeys(np.concatenate(target.calls)))[:max_points]
        because = "its docstring: the first points computed, in increasing order"
        assert_close(hull.x, np.sort(computed), f"sample(..., max_points={max_points}).hull.x", because)
        assert_close(hull.height, normal(hull.x)[0], f"sample(..., max_points={max_points}).hull.height", "the target")
        assert_close(hull.slope, normal(hull.x)[1], f"sample(..., max_points={max_points}).hull.slope", "the target")
    few = sample(normal, np.array([-2.0, -1.0, 0.5, 2.0]), 50, max_points=3, max_tries=ENOUGH, rng=rng).hull
    assert len(few.x) == 4, f"max_points is below the number of starts, but the hull has {len(few.x)} points, not 4"


def test_sample_keeps_the_ends_of_the_support(rng):
    hull = sample(gamma, np.array([0.5, 3.0]), 500, lower=0.0, upper=9.0, max_tries=ENOUGH, rng=rng).hull
    ends = hull.edges[[0, -1]]
    assert_close(ends, np.array([0.0, 9.0]), "the ends of sample(gamma, lower=0, upper=9).hull.edges", "the support")


def test_sample_needs_one_try_for_a_draw_where_the_hull_is_exact(rng):
    target = Counted(flat)
    result = sample(target, np.array([-1.0, 3.0]), 1001, lower=-1.0, upper=3.0, max_tries=1001, rng=rng)
    assert result.n_tries == 1001, f"the uniform law is its own hull, but 1001 draws took {result.n_tries} tries"
    assert target.n == 2, f"the uniform law is its own squeeze, but {target.n - 2} points were computed besides `start`"
    assert_distribution(result.draws, stats.uniform(-1, 4), "sample(flat, lower=-1, upper=3)", "the uniform law")
    single = sample(flat, np.array([-1.0, 3.0]), 1, lower=-1.0, upper=3.0, rng=rng)
    assert single.draws.shape == (1,), f"sample(n_draws=1) returned {len(single.draws)} draws"


def test_sample_makes_its_batches_twice_as_large_each_time(rng):
    # With one tangent and no more allowed there is no squeeze: every point of a batch is computed, in one call.
    target = Counted(lambda x: (-2 * x, np.full(x.shape, -2.0)))
    result = sample(target, np.array([1.0]), 100, lower=0.0, max_points=1, max_tries=ENOUGH, rng=rng)
    sizes = [len(x) for x in target.calls]
    expected = [1, 1, 2, 4, 8, 16, 32, 37]
    assert sizes == expected, (
        f"sample computed {sizes} points in its calls, expected {expected}: the start, then batches"
    )
    assert_close(
        np.concatenate(target.calls[1:]), result.draws, "the points computed, all of them accepted", "the draws"
    )


def test_sample_refuses_what_is_not_log_concave(rng):
    with pytest.raises(ValueError, match="log_density_fn must"):
        sample(cauchy, np.array([-1.5, 0.5]), 2000, max_tries=ENOUGH, rng=rng)

    def two_peaks(x):
        height = np.logaddexp(-((x - 3) ** 2) / 2, -((x + 3) ** 2) / 2)
        return height, 3 * np.tanh(3 * x) - x

    with pytest.raises(ValueError, match="log_density_fn must"):
        sample(two_peaks, np.array([-3.1, 3.2]), 2000, max_tries=ENOUGH, rng=rng)


def test_sample_gives_up_after_max_tries(rng):
    def wide(x):
        return normal(x)

    target = Counted(wide)
    # Two tangents at the top make a hull a thousand times too wide.
    with pytest.raises(ValueError, match="max_tries must") as error:
        sample(target, np.array([-1e-3, 1e-3]), 50, max_points=2, max_tries=90, rng=rng)
    assert str(error.value).endswith("90"), f"the message should end with max_tries = 90, but says: {error.value}"
    assert target.n <= 92, f"sample computed {target.n} points, where max_tries is 90 and `start` has 2"
    assert target.n > 80, f"sample gave up after computing {target.n} points, where max_tries is 90"


def test_sample_takes_all_its_randomness_from_its_generator():
    def run(seed):
        return sample(normal, np.array([-1.0, 2.0]), 50, max_tries=5000, rng=np.random.default_rng(seed)).draws

    assert_close(run(1), run(1), "sample with the same seed for the second time", "the draws of the first time")
    assert (run(1) != run(2)).any(), "sample returned the same draws for two different seeds"


def test_sample_leaves_its_start_alone(rng):
    start = np.array([-1.0, 2.0])
    sample(normal, start, 100, max_tries=5000, rng=rng)
    assert start.tolist() == [-1, 2], f"sample changed its argument start to {start.tolist()}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("start", "n_draws", "name"),
    [(np.ones((1, 2)), 5, "start"), (np.array([np.nan]), 5, "start"), (np.array([-1.0, 1.0]), 0, "n_draws")],
)
def test_sample_refuses_arguments_that_cannot_be(start, n_draws, name, rng):
    with pytest.raises(ValueError, match=f"{name} must"):
        sample(normal, start, n_draws, rng=rng)
