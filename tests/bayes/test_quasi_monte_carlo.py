"""Shared tests of bayes/quasi_monte_carlo: run on the reference, and on the learner's file.

What is random is checked by tests that a right solution fails with a probability of 1e-8 each, 12 of them: 1.2e-7 together.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes.quasi_monte_carlo import (
    JOE_KUO,
    direction_numbers,
    directions,
    halton,
    integrate,
    l2_star_discrepancy,
    radical_inverse,
    scramble,
    sobol,
    star_discrepancy,
)
from mlpath.testing import assert_close, assert_distribution, assert_mean

SEED = 20250510
WHOLE = 2**32
SMOOTH = (math.e - 1) ** 2  # the integral of exp(x + y) over the square


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


def mirrored(n, base):
    """The radical inverse, in exact fractions."""
    found, worth = Fraction(0), Fraction(1, base)
    while n:
        n, digit = divmod(n, base)
        found, worth = found + digit * worth, worth / base
    return found


# radical_inverse


def test_radical_inverse_mirrors_the_digits():
    # In base 3, 0, 1, 2, 5, 9, 23 are 0, 1, 2, 12, 100, 212.
    found = radical_inverse(np.array([0, 1, 2, 5, 9, 23]), 3)
    expected = np.array([0, 1 / 3, 2 / 3, 7 / 9, 1 / 27, 23 / 27])
    assert_close(found, expected, "radical_inverse([0, 1, 2, 5, 9, 23], 3)", "equation (1)", rtol=1e-15)


@pytest.mark.parametrize("base", [2, 3, 7, 10, 113, 1000])
def test_radical_inverse_is_the_float_nearest_to_the_fraction(base):
    n = np.array([1, base - 1, base, base + 1, 4711, 99_991, 1_234_567])
    expected = np.array([float(mirrored(int(i), base)) for i in n])
    found = radical_inverse(n, base)
    wrong = np.flatnonzero(found != expected)
    shown = "".join(f", of {n[i]}: {found[i]!r} instead of {expected[i]!r}" for i in wrong[:1])
    assert len(wrong) == 0, f"radical_inverse(n, {base}) is off at {len(wrong)} of {len(n)} numbers{shown}"
    assert n[-1] == 1_234_567, "radical_inverse changed its argument n"


def test_radical_inverse_of_large_numbers():
    n = np.array([2**32 - 1, 2**31, 3_000_000_019])
    expected = np.array([float(mirrored(int(i), 2)) for i in n])
    assert_close(radical_inverse(n, 2), expected, f"radical_inverse({n.tolist()}, 2)", "equation (1)", rtol=1e-15)


def test_radical_inverse_gives_each_interval_its_share():
    for base, k in ((2, 6), (5, 3)):
        size = base**k
        cells = np.sort(np.floor(radical_inverse(np.arange(3 * size, 4 * size), base) * size + 1e-9))
        call = f"the intervals of length 1/{size} of radical_inverse, {size} successive numbers in base {base}"
        assert_close(cells, np.arange(size), call, "what follows (1): one in each")


@pytest.mark.given
@pytest.mark.parametrize(("n", "base", "name"), [(-1, 2, "n"), (2**32, 2, "n"), (5, 1, "base"), (5, 1001, "base")])
def test_radical_inverse_refuses_numbers_that_cannot_be(n, base, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        radical_inverse(np.array([3, n]), base)


# halton


def test_halton_takes_a_base_for_each_dimension():
    points = halton(50, [5, 2, 3])
    assert points.shape == (50, 3), f"halton(50, [5, 2, 3]) returned the shape {points.shape}"
    expected = np.array([[float(mirrored(i, base)) for base in (5, 2, 3)] for i in range(50)])
    assert_close(points, expected, "halton(50, [5, 2, 3])", "equation (2)", rtol=1e-15)


def test_halton_agrees_with_scipy():
    expected = stats.qmc.Halton(4, scramble=False).random(300)
    assert_close(halton(300, [2, 3, 5, 7]), expected, "halton(300, [2, 3, 5, 7])", "SciPy", rtol=1e-12, atol=1e-15)


def test_halton_gives_each_box_its_share():
    points = halton(8 * 27, (2, 3))
    counts = np.histogram2d(points[:, 0], points[:, 1], [np.arange(9) / 8, np.arange(28) / 27 - 1e-12])[0]
    assert (counts == 1).all(), f"of 8 times 27 boxes {np.count_nonzero(counts != 1)} have not one of 216 Halton points"
    assert halton(1, [2]).tolist() == [[0.0]], "halton(1, [2]) is not the origin"


@pytest.mark.given
@pytest.mark.parametrize(("n_points", "bases", "name"), [(0, [2], "n_points"), (5, [], "bases"), (5, [4, 6], "bases")])
def test_halton_refuses_arguments_that_cannot_be(n_points, bases, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        halton(n_points, bases)


# direction_numbers


def test_direction_numbers_by_hand():
    # z^3 + z + 1: a_1 = 0, a_2 = 1, so m_k = 4 m_{k-2} + 8 m_{k-3} + m_{k-3}, without carry: 1, 3, 1, 5, 31.
    found = direction_numbers(3, 1, (1, 3, 1))
    assert found.shape == (32,), f"direction_numbers(3, 1, (1, 3, 1)) has the shape {found.shape}"
    expected = np.array([1 << 31, 3 << 30, 1 << 29, 5 << 28, 31 << 27])
    assert_close(found[:5], expected, "direction_numbers(3, 1, (1, 3, 1))[:5]", "equation (4)")


def test_direction_numbers_know_which_coefficient_is_which():
    # z^4 + z^3 + 1 has a_1 = 1, a_2 = a_3 = 0: packed, 4.
    found = direction_numbers(4, 4, [1, 3, 5, 13])[:6] >> np.arange(31, 25, -1)
    m5 = (2 * 13) ^ (16 * 1) ^ 1
    m6 = (2 * m5) ^ (16 * 3) ^ 3
    assert_close(found, np.array([1, 3, 5, 13, m5, m6]), "m_k of direction_numbers(4, 4, [1, 3, 5, 13])", "(4)")


def test_direction_numbers_of_degree_one():
    found = direction_numbers(1, 0, [1])[:5] >> np.arange(31, 26, -1)
    assert_close(found, np.array([1, 3, 5, 15, 17]), "m_k of direction_numbers(1, 0, [1])", "(4): 2 m + m, no carry")


@pytest.mark.parametrize("row", [2, 8, 19])
def test_direction_numbers_have_their_last_bit_in_its_place(row):
    found = direction_numbers(*JOE_KUO[row])
    last = found & -found
    assert_close(last, 2 ** np.arange(31, -1, -1), f"the last bits of direction_numbers{JOE_KUO[row]}", "m_k is odd")
    assert found.max() < WHOLE, f"direction_numbers{JOE_KUO[row]} has a number of more than 32 bits"


@pytest.mark.given
@pytest.mark.parametrize("initial", [(1,), (1, 2), (1, 5), (1, 3, 1), (1, -1)])
def test_direction_numbers_refuse_initial_numbers_that_cannot_be(initial):
    with pytest.raises(ValueError, match="initial must"):
        direction_numbers(2, 1, initial)


# sobol


def test_sobol_by_hand():
    numbers = np.array([[1 << 31, 1 << 30, 1 << 29], [1 << 31, 3 << 30, 3 << 29]])
    found = sobol(8, numbers) / 2**29
    expected = np.array([[0, 0], [4, 4], [6, 2], [2, 6], [3, 5], [7, 1], [5, 7], [1, 3]])
    assert_close(found, expected, "8 times the points of sobol(8, ...), two dimensions", "equations (3) and (5)")


@pytest.mark.parametrize("n_points", [1, 2, 3, 100, 1024])
def test_sobol_agrees_with_scipy_bit_by_bit(n_points):
    peer = stats.qmc.Sobol(21, scramble=False, bits=32)
    expected = np.concatenate([peer.random(1) for _ in range(n_points)]) if n_points < 4 else peer.random(1024)
    found = sobol(n_points, directions(21))
    assert found.shape == (n_points, 21), f"sobol({n_points}, directions(21)) has the shape {found.shape}"
    wrong = np.count_nonzero((found / WHOLE != expected[:n_points]).any(axis=0))
    assert wrong == 0, f"sobol({n_points}, directions(21)) differs from SciPy's points in {wrong} of 21 dimensions"


def test_sobol_integrates_with_an_error_of_nearly_one_over_n():
    errors = [abs(np.exp((sobol(n, directions(2)) / WHOLE).sum(axis=1)).mean() - SMOOTH) for n in (16, 4096)]
    slope = math.log(errors[1] / errors[0], 256)
    assert -1.1 < slope < -0.9, f"the error of Sobol points falls like n^{slope:.2f}, expected n^-1; random ones n^-0.5"


def test_sobol_leaves_its_direction_numbers_alone():
    numbers = directions(3)
    sobol(20, numbers)
    assert np.array_equal(numbers, directions(3)), "sobol changed its argument directions"


@pytest.mark.given
def test_sobol_refuses_numbers_that_cannot_be():
    for n_points in (0, WHOLE + 1):
        with pytest.raises(ValueError, match="n_points must"):
            sobol(n_points, directions(1))
    for dim in (0, 22):
        with pytest.raises(ValueError, match="dim must"):
            directions(dim)


# scramble


def assert_net(points, k):
    """Each box of sides 2^-i and 2^-(k-i) has one of 2^k points of the square."""
    for i in range(k + 1):
        cells = np.floor(points * [2**i, 2 ** (k - i)]) @ [2 ** (k - i), 1]
        empty = 2**k - len(np.unique(cells))
        assert empty == 0, f"scramble has left {empty} of {2**k} boxes of sides 2^-{i} and 2^-{k - i} without a point"


@pytest.mark.parametrize("k", [1, 4, 7])
def test_scramble_keeps_the_share_of_every_box(k, rng):
    net = sobol(2**k, directions(2))
    for _ in range(3):
        points = scramble(net, rng=rng)
        assert points.shape == (2**k, 2), f"scramble returned the shape {points.shape}"
        assert_net(points, k)


def first_difference(a, b):
    """In which bit, counted from the left from 1, two whole numbers of 32 bits differ first; 33 where they do not."""
    return 33 - np.array([int(d).bit_length() for d in (a ^ b).ravel()])


def test_scramble_keeps_the_number_of_bits_in_which_points_agree(rng):
    x = rng.integers(0, WHOLE, (40, 3))
    x[1] = x[0] ^ [1, 2, 1 << 31]
    x[2] = x[0] ^ [1 << 16, 5, 0]
    given = x.copy()
    y = scramble(x, rng=rng) * WHOLE - 0.5
    assert_close(y, np.round(y), "2^32 times the points of scramble, less 1/2,", "its docstring: whole numbers", rtol=0)
    y = y.astype(np.int64)
    assert y.min() >= 0, "scramble returned a point outside the cube"
    assert y.max() < WHOLE, "scramble returned a point outside the cube"
    i, j = np.triu_indices(40, 1)
    before, after = first_difference(x[i], x[j]), first_difference(y[i], y[j])
    assert_close(after, before, "the first bits in which points differ, scrambled", "(6): as before")
    assert np.array_equal(x, given), "scramble changed its argument points"


@pytest.mark.parametrize("x", [0, WHOLE - 1, 0x5A5A5A5A])
def test_scramble_makes_each_point_uniform(x, rng):
    # Dimensions are scrambled independently, so that many of them show the law.
    points = scramble(np.full((1, 3000), x), rng=rng)
    assert_distribution(points[0], stats.uniform, f"scramble of the point {x / WHOLE:.4g}", "(6), by its shift")
    behind = points[0] * 2**16 % 1
    assert_distribution(behind, stats.uniform, f"what is behind bit 16 of the scrambled point {x / WHOLE:.4g}", "(6)")


@pytest.mark.parametrize("bit", [1, 2, 9, 20])
def test_scramble_mixes_all_bits_below(bit, rng):
    # Two points that differ in one bit only; what is behind that bit differs at random.
    pair = np.repeat([[0], [1 << (32 - bit)]], 3000, axis=1)
    a, b = (scramble(pair, rng=rng) * WHOLE).astype(np.int64)
    kinds = len(np.unique(a ^ b))
    assert kinds > 1000, f"the difference of two points in bit {bit}, scrambled 3000 times, takes {kinds} values only"
    width = 2 ** (32 - bit)
    behind = ((a ^ b) % width + 0.5) / width
    call = f"what is behind bit {bit} of the difference of two scrambled points that differ in this bit"
    # Finer than 2^-12 the law is discrete, which 3,000 draws do not see.
    assert_distribution(behind, stats.uniform, call, "(6): random bits below the diagonal")


def test_scramble_treats_all_points_alike_and_dimensions_apart(rng):
    points = scramble(np.full((4, 3), 12345), rng=rng)
    assert (points == points[0]).all(), "scramble made different points of equal ones: it is one scrambling for all"
    origin = scramble(np.zeros((1, 3), dtype=np.int64), rng=rng)[0]
    assert len(np.unique(origin)) == 3, "scramble moved the origin equally in two dimensions: each has its own shift"
    pair = np.repeat([[0], [1 << 31]], 2, axis=1)
    a, b = (scramble(pair, rng=rng) * WHOLE).astype(np.int64)
    assert (a ^ b)[0] != (a ^ b)[1], "scramble has one matrix for two dimensions"
    x = scramble(np.zeros((1, 4000), dtype=np.int64), rng=rng)[0].reshape(2000, 2) - 0.5
    assert_mean(12 * x.prod(axis=1), 0, "12 times the product of two scrambled coordinates", "independence", sd=1)


def test_scramble_makes_the_error_of_smooth_integrals_fall_like_a_higher_power(rng):
    # Dimensions are scrambled independently, so that 200 copies of two of them are 200 replicates.
    errors = []
    for n in (16, 256):
        points = scramble(np.tile(sobol(n, directions(2)), 200), rng=rng).reshape(n, 200, 2)
        errors.append(np.sqrt(np.mean((np.exp(points.sum(axis=2)).mean(axis=0) - SMOOTH) ** 2)))
    slope = math.log(errors[1] / errors[0], 16)
    # Measured over 60 seeds: -1.43, with a standard deviation of 0.05; unscrambled points have -1, random ones -1/2.
    assert slope < -1.05, f"the error of scrambled points falls like n^{slope:.2f}, expected about n^-1.4"


@pytest.mark.given
@pytest.mark.parametrize("x", [-1, WHOLE])
def test_scramble_refuses_what_is_no_point(x, rng):
    with pytest.raises(ValueError, match="points must"):
        scramble(np.array([[0, x]]), rng=rng)


# star_discrepancy


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_star_discrepancy_in_one_dimension(n, rng):
    x = rng.random(n)
    i = np.arange(1, n + 1)
    expected = max((i / n - np.sort(x)).max(), (np.sort(x) - (i - 1) / n).max())
    found = star_discrepancy(x[:, None])
    assert_close(found, float(expected), f"star_discrepancy({n} random points)", "Niederreiter's formula", rtol=1e-12)


def test_star_discrepancy_by_hand():
    found = star_discrepancy(np.array([[0.6, 0.25], [0.75, 0.9]]))
    assert_close(found, 0.6, "star_discrepancy([[0.6, 0.25], [0.75, 0.9]])", "(7): the open box 0.6 x 1")
    found = star_discrepancy(np.array([[0.1, 0.2], [0.3, 0.1], [0.2, 0.3]]))
    assert_close(found, 0.91, "star_discrepancy of three points near the origin", "(7): the closed box 0.3 x 0.3")
    corner = star_discrepancy(np.ones((3, 2)))
    assert_close(corner, 1.0, "star_discrepancy(three times the far corner)", "(7): the open cube")


def by_search(points):
    """The supremum over all corners, one box after the other."""
    dim = points.shape[1]
    grids = np.meshgrid(*[np.r_[points[:, k], 1.0] for k in range(dim)])
    worst = 0.0
    for y in np.stack([g.ravel() for g in grids], axis=1):
        volume = np.prod(y)
        worst = max(worst, volume - np.mean((points < y).all(axis=1)), np.mean((points <= y).all(axis=1)) - volume)
    return worst


@pytest.mark.parametrize(("n", "dim"), [(1, 2), (12, 2), (17, 2), (1, 3), (6, 3)])
def test_star_discrepancy_agrees_with_a_search_over_boxes(n, dim, rng):
    for spread in (0.4, 1.0):
        points = rng.random((n, dim)) ** spread
        found = star_discrepancy(points)
        assert_close(found, by_search(points), f"star_discrepancy({n} points, {dim} dimensions)", "(7)", rtol=1e-12)


def test_star_discrepancy_knows_equal_points_and_coordinates():
    points = np.array([[0.5, 0.5], [0.5, 0.5], [0.25, 0.5], [0.25, 0.0]])
    assert_close(star_discrepancy(points), by_search(points), "star_discrepancy of points with ties", "equation (7)")
    given = points.copy()
    star_discrepancy(points)
    assert np.array_equal(points, given), "star_discrepancy changed its argument points"


def test_star_discrepancy_is_small_for_low_discrepancy_points(rng):
    even = star_discrepancy(sobol(64, directions(2)) / WHOLE)
    chance = star_discrepancy(rng.random((64, 2)))
    assert even < 0.06, f"star_discrepancy of 64 Sobol points is {even:.3f}; they are a net, with less than 0.06"
    assert chance > 0.07, f"star_discrepancy of 64 random points is {chance:.3f}: more even than Sobol's?"


@pytest.mark.given
@pytest.mark.parametrize("points", [np.empty((0, 2)), np.array([[0.5, 1.1]]), np.array([[-0.1]]), np.array([[np.nan]])])
def test_star_discrepancy_refuses_what_is_outside_the_cube(points):
    for function in (star_discrepancy, l2_star_discrepancy):
        with pytest.raises(ValueError, match="points must"):
            function(points)


# l2_star_discrepancy


def test_l2_star_discrepancy_by_hand():
    found = l2_star_discrepancy(np.array([[0.5, 0.0]]))
    # 1/9 - (1/2) (3/4) + 1/2
    assert_close(found, math.sqrt(1 / 9 - 3 / 8 + 1 / 2), "l2_star_discrepancy([[0.5, 0]])", "equation (8)")


@pytest.mark.parametrize(("n", "dim"), [(1, 1), (9, 1), (30, 2), (25, 6)])
def test_l2_star_discrepancy_agrees_with_scipy(n, dim, rng):
    points = rng.random((n, dim))
    expected = float(stats.qmc.discrepancy(points, method="L2-star"))
    found = l2_star_discrepancy(points)
    assert_close(found, expected, f"l2_star_discrepancy({n} points, {dim} dimensions)", "SciPy", rtol=1e-9)


def test_l2_star_discrepancy_is_the_root_mean_square_over_boxes(rng):
    points = np.array([[0.3], [0.35], [0.8]])
    y = (np.arange(200_000) + 0.5) / 200_000
    local = (points < y).mean(axis=0) - y
    expected = math.sqrt(np.mean(local**2))
    found = l2_star_discrepancy(points)
    assert_close(
        found, expected, "l2_star_discrepancy([[0.3], [0.35], [0.8]])", "(7), squared and integrated", rtol=1e-5
    )


# integrate


def test_integrate_gives_the_mean_of_the_replicates_and_its_error(rng):
    means = []

    def function(x):
        assert x.shape == (64, 3), f"integrate called its function with points of shape {x.shape}, expected (64, 3)"
        values = np.exp(x @ [1.0, -2.0, 0.5])
        means.append(values.mean())
        return values

    estimate = integrate(function, 3, 64, n_replicates=7, rng=rng)
    assert len(means) == 7, f"integrate called its function {len(means)} times, expected once for each of 7 replicates"
    assert_close(estimate.value, float(np.mean(means)), "integrate(...).value", "equation (9)", rtol=1e-12)
    expected = float(stats.sem(means))
    assert_close(estimate.standard_error, expected, "integrate(...).standard_error", "equation (9)", rtol=1e-9)


def test_integrate_uses_scrambled_sobol_points(rng):
    seen = []

    def function(x):
        seen.append(x.copy())
        return x[:, 0]

    integrate(function, 2, 32, n_replicates=3, rng=rng)
    least = min(points.min() for points in seen)
    assert least > 0, "integrate used points with a coordinate of 0, as unscrambled ones have"
    for points in seen:
        assert_net(points, 5)
    assert (seen[0] != seen[1]).all(), "two replicates of integrate have points in common: each has its own scrambling"


def test_integrate_is_unbiased_with_any_number_of_points(rng):
    # A jump, 3 points: the mean over many scramblings is still exact.
    def function(x):
        return (x[:, 0] + x[:, 1] < 0.7).astype(float)

    values = []
    for _ in range(50):
        values.append(integrate(function, 2, 3, n_replicates=2, rng=rng).value)
    assert_mean(values, 0.245, "integrate of a triangle of area 0.245, 3 points", "unbiased: each point is uniform")


def test_integrate_is_as_exact_as_its_nets(rng):
    # With one of 256 points in each interval of length 1/256, the mean of a coordinate is off by at most 1/512.
    estimate = integrate(lambda x: x[:, 1], 2, 256, n_replicates=8, rng=rng)
    off = abs(estimate.value - 0.5)
    assert off <= 1 / 512, f"integrate(x_2, 256 points) is off by {off:.4f}; a net by at most 1/512"
    assert estimate.standard_error <= 1 / 512, f"its standard error is {estimate.standard_error:.4f}, above 1/512"


@pytest.mark.given
def test_integrate_refuses_arguments_that_cannot_be(rng):
    with pytest.raises(ValueError, match="n_replicates must"):
        integrate(lambda x: x[:, 0], 1, 4, n_replicates=1, rng=rng)
    with pytest.raises(ValueError, match="function must"):
        integrate(lambda x: np.full(len(x), np.nan), 1, 4, rng=rng)
    for dim, n_points, name in ((0, 4, "dim"), (22, 4, "dim"), (2, 0, "n_points")):
        with pytest.raises(ValueError, match=f"{name} must"):
            integrate(lambda x: x[:, 0], dim, n_points, rng=rng)
