"""Shared tests of bayes/gibbs/conditionals: run on the reference, and on the learner's file.

Chance enters through checks that a right solution fails with a probability of 1e-8 each, over independent chains, whatever the
order of its random numbers: fewer than 60 of them, 6e-7 together. All else is exact.
"""

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes._targets import coal_counts
from mlpath.bayes.gibbs.conditionals import (
    conditional,
    draw_rates,
    log_change_given_rates,
    log_change_posterior,
    redraw,
    sample_change_point,
    sample_normal,
    sweep_matrix,
)
from mlpath.testing import (
    assert_close,
    assert_distribution,
    assert_frequencies,
    assert_frequency,
    assert_mean,
    assert_variance,
)

N = 20_000


@pytest.fixture
def rng():
    return np.random.default_rng(20250203)


MEAN = np.array([5.0, -3.0, 0.5, 20.0])
FACTOR = np.array([[1.5, 0, 0, 0], [0.8, 0.7, 0, 0], [-0.5, 0.9, 0.4, 0], [0.3, -1.1, 0.6, 2.0]])
COVARIANCE = FACTOR @ FACTOR.T
PRECISION = np.linalg.inv(COVARIANCE)


def correlated(rho):
    """Covariance and precision of two variables of variances 4 and 1/4."""
    covariance = np.array([[4.0, rho], [rho, 0.25]])
    return covariance, np.linalg.inv(covariance)


def exact_draws(rng, n=N):
    return MEAN + rng.standard_normal((n, 4)) @ FACTOR.T


def by_covariance(position, block):
    """Mean and covariance of a block given the rest, by the other formula: of the covariance, not the precision."""
    rest = [i for i in range(4) if i not in block]
    slope = np.linalg.solve(COVARIANCE[np.ix_(rest, rest)], COVARIANCE[np.ix_(rest, block)]).T
    mean = MEAN[block] + (position[:, rest] - MEAN[rest]) @ slope.T
    return mean, COVARIANCE[np.ix_(block, block)] - slope @ COVARIANCE[np.ix_(rest, block)]


# conditional


def test_conditional_of_one_of_three():
    precision = np.array([[2.0, 0.5, 0.0], [0.5, 4.0, -1.0], [0.0, -1.0, 3.0]])
    mean, covariance = conditional(np.array([[3.0, 70.0, 2.0]]), np.array([1.0, 10.0, -2.0]), precision, np.array([1]))
    # 10 - (0.5 * (3 - 1) - 1 * (2 + 2)) / 4
    call = "conditional([[3, 70, 2]], [1, 10, -2], precision, [1])"
    assert_close(covariance, np.array([[0.25]]), call + "[1]", "equation (3)")
    assert_close(mean, np.array([[10.75]]), call + "[0]", "equation (3)")


@pytest.mark.parametrize("block", [[0], [2], [1, 3], [3, 0], [2, 0, 3]])
def test_conditional_agrees_with_the_formula_by_covariances(block, rng):
    position = MEAN + rng.normal(0, 4, (6, 4))
    mean, covariance = conditional(position, MEAN, PRECISION, np.array(block))
    expected = by_covariance(position, block)
    assert_close(covariance, expected[1], f"conditional(..., block={block})[1]", "equation (3)", rtol=1e-8, atol=1e-10)
    assert_close(mean, expected[0], f"conditional(..., block={block})[0]", "equation (3)", rtol=1e-8, atol=1e-10)


def test_conditional_of_everything_is_the_distribution_itself(rng):
    block = np.array([2, 0, 1, 3])
    mean, covariance = conditional(rng.normal(size=(3, 4)), MEAN, PRECISION, block)
    call = "conditional(..., block=[2, 0, 1, 3])"
    assert_close(mean, np.tile(MEAN[block], (3, 1)), call + "[0]", "the mean, in the order of the block", rtol=1e-8)
    expected = COVARIANCE[np.ix_(block, block)]
    assert_close(covariance, expected, call + "[1]", "the covariance, in that order", rtol=1e-7, atol=1e-10)


def test_conditional_does_not_look_at_the_block_itself(rng):
    position = rng.normal(size=(5, 4))
    other = position.copy()
    other[:, [1, 2]] += 100
    found = conditional(other, MEAN, PRECISION, np.array([1, 2]))[0]
    expected = conditional(position, MEAN, PRECISION, np.array([1, 2]))[0]
    assert_close(found, expected, "the mean of [1, 2] after these two were moved", "that before", rtol=1e-9)


def test_conditional_in_a_hundred_dimensions_looks_at_neighbours_only(rng):
    precision = 2.5 * np.eye(100) - np.eye(100, k=1) - np.eye(100, k=-1)
    position = rng.normal(size=(3, 100))
    mean, covariance = conditional(position, np.zeros(100), precision, np.array([40]))
    call = "conditional of the 41st of 100 in a chain of neighbours"
    assert_close(mean[:, 0], (position[:, 39] + position[:, 41]) / 2.5, call, "equation (3)", rtol=1e-9, atol=1e-12)
    assert_close(covariance, np.array([[0.4]]), call + ": its variance", "equation (3)")


def test_conditional_changes_none_of_its_arguments(rng):
    position, block = rng.normal(size=(3, 4)), np.array([3, 1])
    kept = [a.copy() for a in (position, MEAN, PRECISION, block)]
    conditional(position, MEAN, PRECISION, block)
    for name, now, before in zip(
        ("position", "mean", "precision", "block"), (position, MEAN, PRECISION, block), kept, strict=True
    ):
        assert np.array_equal(now, before), f"conditional changed its argument {name}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position", np.full((2, 2), np.nan)),
        ("position", np.zeros((2, 3))),
        ("position", np.zeros(2)),
        ("mean", np.array([0.0, np.inf])),
        ("mean", np.zeros((1, 2))),
        ("precision", np.array([[1.0, 0.2], [0.3, 1.0]])),
        ("precision", np.array([[1.0, 2.0], [2.0, 1.0]])),
        ("precision", np.array([[1.0, np.nan], [np.nan, 1.0]])),
        ("precision", np.eye(3)),
        ("block", np.array([], int)),
        ("block", np.array([2])),
        ("block", np.array([-1])),
        ("block", np.array([1, 1])),
        ("block", np.array([[0]])),
    ],
)
def test_conditional_refuses_what_is_no_normal_distribution_or_no_block(name, value):
    arguments = {"position": np.zeros((3, 2)), "mean": np.zeros(2), "precision": np.eye(2), "block": np.array([0])}
    with pytest.raises(ValueError, match=f"{name} must"):
        conditional(**arguments | {name: value})


# redraw


def test_redraw_leaves_the_other_coordinates_where_they_are(rng):
    position = rng.normal(size=(7, 4))
    found = redraw(position, MEAN, PRECISION, np.array([3, 1]), rng=rng)
    assert found.shape == (7, 4), f"redraw of 7 chains in 4 dimensions returned shape {found.shape}"
    what = "coordinates 0 and 2 after redraw(..., block=[3, 1])"
    assert_close(found[:, [0, 2]], position[:, [0, 2]], what, "what they were", rtol=0)
    moved = found[:, [1, 3]] != position[:, [1, 3]]
    assert moved.all(), f"redraw(..., block=[3, 1]) left {np.count_nonzero(~moved)} of 14 numbers where they were"


@pytest.mark.parametrize("block", [[1], [3, 0], [2, 0, 3]])
def test_redraw_has_the_mean_of_the_conditional(block, rng):
    position = MEAN + rng.normal(0, 4, (N, 4))
    mean, covariance = by_covariance(position, block)
    off = redraw(position, MEAN, PRECISION, np.array(block), rng=rng)[:, block] - mean
    sd = np.sqrt(np.diag(covariance))
    assert_mean(off, 0, f"redraw(..., block={block}) minus the conditional mean", "equation (3)", sd=sd)


@pytest.mark.parametrize("block", [[1], [3, 0], [2, 0, 3]])
def test_redraw_has_the_covariance_of_the_conditional(block, rng):
    position = MEAN + rng.normal(0, 4, (N, 4))
    mean, covariance = by_covariance(position, block)
    off = redraw(position, MEAN, PRECISION, np.array(block), rng=rng)[:, block] - mean
    z = np.linalg.solve(np.linalg.cholesky(covariance), off.T).T
    call = f"the noise of redraw(..., block={block}), divided by its Cholesky factor,"
    assert_variance(z, 1, call, "equation (3)")
    for i, j in [(0, 1), (0, 2), (1, 2)][: len(block) * (len(block) - 1) // 2]:
        assert_mean(z[:, i] * z[:, j], 0, f"{call} {i} times {j}", "equation (3)", sd=1)


def test_redraw_gives_each_coordinate_its_variance_and_a_number_of_its_own(rng):
    position = np.tile(MEAN, (N, 1))
    block = [3, 0, 2]
    off = redraw(position, MEAN, PRECISION, np.array(block), rng=rng)[:, block] - by_covariance(position[:1], block)[0]
    variances = np.diag(by_covariance(position[:1], block)[1])
    assert_variance(off, variances, f"the noise of redraw(..., block={block})", "equation (3): the diagonal")


def test_redraw_draws_as_many_numbers_as_the_block_has_coordinates(rng):
    precision = np.diag([1.0, 4.0, 25.0])
    z = redraw(np.zeros((50, 3)), np.zeros(3), precision, np.array([0, 1, 2]), rng=rng) * [1, 2, 5]
    same = np.count_nonzero(np.isclose(abs(z[:, 0]), abs(z[:, 1])))
    assert same < 10, (
        f"redraw of two independent coordinates used the same random number for both in {same} of 50 chains"
    )


def test_redraw_is_normal_and_gives_every_chain_numbers_of_its_own(rng):
    position = np.tile(MEAN, (N, 1))
    found = redraw(position, MEAN, PRECISION, np.array([2]), rng=rng)[:, 2]
    sd = PRECISION[2, 2] ** -0.5
    assert len(np.unique(found)) == N, "redraw moved several chains that stood at one place to one place"
    assert_distribution(found, stats.norm(0.5, sd), "redraw(..., block=[2]) from the mean", "equation (3)")


def test_redraw_leaves_its_positions_alone(rng):
    position = np.ones((3, 4))
    redraw(position, MEAN, PRECISION, np.array([1, 2]), rng=rng)
    assert (position == 1).all(), "redraw changed the positions that it was given"


@pytest.mark.given
def test_redraw_refuses_what_conditional_refuses(rng):
    with pytest.raises(ValueError, match="block must"):
        redraw(np.ones((3, 4)), MEAN, PRECISION, np.array([4]), rng=rng)


# sweep_matrix


def test_sweep_matrix_of_one_update():
    precision = np.array([[2.0, 0.5, 0.0], [0.5, 4.0, -1.0], [0.0, -1.0, 3.0]])
    found = sweep_matrix(precision, [np.array([1])])
    expected = np.array([[1.0, 0, 0], [-0.125, 0, 0.25], [0, 0, 1]])
    assert_close(found, expected, "sweep_matrix(precision, [[1]])", "equation (4)", atol=1e-14)


@pytest.mark.parametrize("rho", [0.3, -0.9, 0.99])
def test_sweep_matrix_of_two_variables_forgets_by_the_square_of_their_correlation(rho):
    precision = correlated(rho)[1]
    found = sweep_matrix(precision, [np.array([0]), np.array([1])])
    # The standard deviations are 2 and 1/2: x_1' = rho (2 / (1/2)) x_2, and x_2' = rho (1/4) x_1'.
    expected = np.array([[0, 4 * rho], [0, rho**2]])
    assert_close(found, expected, f"sweep_matrix for a correlation of {rho}", "equation (6)", rtol=1e-8, atol=1e-12)


def test_sweep_matrix_takes_the_blocks_in_their_order():
    blocks = [np.array([2]), np.array([0, 3]), np.array([1])]
    found = sweep_matrix(PRECISION, blocks)
    singles = [sweep_matrix(PRECISION, [block]) for block in blocks]
    expected = singles[2] @ singles[1] @ singles[0]
    assert_close(found, expected, "sweep_matrix(precision, [[2], [0, 3], [1]])", "equation (5)", rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("block", [[1], [3, 0], [2, 0, 3]])
def test_sweep_matrix_says_what_conditional_says(block, rng):
    position = MEAN + rng.normal(0, 4, (6, 4))
    expected = position.copy()
    expected[:, block] = by_covariance(position, block)[0]
    found = MEAN + (position - MEAN) @ sweep_matrix(PRECISION, [np.array(block)]).T
    what = f"m + A (x - m) with A = sweep_matrix(precision, [{block}])"
    assert_close(found, expected, what, "equations (3) and (4)", rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("blocks", [[[0], [1], [2], [3]], [[3, 1], [0, 2]], [[0, 1], [1, 2], [2, 3]]])
def test_sweep_matrix_contracts(blocks):
    matrix = sweep_matrix(PRECISION, [np.array(block) for block in blocks])
    # A = I - (noise precision) in the metric of the precision: its norm there is below 1, as the distribution is invariant.
    root = np.linalg.cholesky(PRECISION).T
    norm = np.linalg.norm(root @ matrix @ np.linalg.inv(root), 2)
    assert norm < 1 - 1e-6, f"sweep_matrix(precision, {blocks}) has norm {norm:.4f} in the metric of the precision"
    left = COVARIANCE - matrix @ COVARIANCE @ matrix.T
    lowest = np.linalg.eigvalsh(left)[0]
    assert lowest > -1e-9, f"sweep_matrix(precision, {blocks}) leaves noise of variance {lowest:.3g}; equation (1)"


def test_sweep_matrix_forgets_everything_in_one_block_and_nothing_in_none():
    everything = sweep_matrix(PRECISION, [np.array([1, 3, 0, 2])])
    assert_close(everything, np.zeros((4, 4)), "sweep_matrix of one block of all four", "equation (4)", atol=1e-12)
    assert_close(sweep_matrix(PRECISION, []), np.eye(4), "sweep_matrix(precision, [])", "equation (5)")


def test_sweep_matrix_leaves_the_precision_alone():
    precision = PRECISION.copy()
    sweep_matrix(precision, [np.array([0]), np.array([2])])
    assert np.array_equal(precision, PRECISION), "sweep_matrix changed its argument precision"


@pytest.mark.given
@pytest.mark.parametrize(
    ("precision", "block", "name"),
    [(-np.eye(2), [0], "precision"), (np.ones((2, 3)), [0], "precision"), (np.eye(2), [2], "block")],
)
def test_sweep_matrix_refuses_what_is_no_precision_or_no_block(precision, block, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        sweep_matrix(precision, [np.array(block)])


# sample_normal

BLOCKS = [np.array([0]), np.array([2, 1]), np.array([3])]
FAR = MEAN + np.array([8.0, -2.0, 5.0, -9.0])


def test_sample_normal_returns_chains_then_draws_then_coordinates(rng):
    found = sample_normal(np.tile(FAR, (5, 1)), MEAN, PRECISION, 3, blocks=BLOCKS, rng=rng)
    assert found.shape == (5, 3, 4), f"sample_normal of 5 chains, 3 draws, 4 coordinates returned shape {found.shape}"


@pytest.mark.parametrize("n_draws", [1, 3])
def test_sample_normal_forgets_its_start_as_the_powers_of_the_sweep_matrix(n_draws, rng):
    draws = sample_normal(np.tile(FAR, (N, 1)), MEAN, PRECISION, n_draws, blocks=BLOCKS, rng=rng)
    matrix = np.eye(4)
    for block in BLOCKS:
        update = np.eye(4)
        update[block] = 0
        rest = np.setdiff1d(np.arange(4), block)
        slope = np.linalg.solve(COVARIANCE[np.ix_(rest, rest)], COVARIANCE[np.ix_(rest, block)]).T
        update[np.ix_(block, rest)] = slope
        matrix = update @ matrix
    expected = MEAN + np.linalg.matrix_power(matrix, n_draws) @ (FAR - MEAN)
    call = f"the last of {n_draws} draws of sample_normal(blocks=[[0], [2, 1], [3]])"
    assert_mean(draws[:, -1], expected, call, "equations (4) and (5)")


@pytest.mark.parametrize("scan", ["systematic", "random"])
def test_sample_normal_started_from_the_distribution_stays_there(scan, rng):
    draws = sample_normal(exact_draws(rng), MEAN, PRECISION, 4, blocks=BLOCKS, scan=scan, rng=rng)
    z = np.linalg.solve(FACTOR, (draws[:, -1] - MEAN).T).T
    call = f"the fourth draw of sample_normal(scan='{scan}') from exact draws, whitened,"
    assert_mean(z, 0, call, "equation (1)", sd=1)
    assert_variance(z, 1, call, "equation (1)")
    products = np.stack([z[:, i] * z[:, j] for i in range(4) for j in range(i)], axis=1)
    assert_mean(products, 0, f"products of two coordinates of {call}", "equation (1)", sd=1)


@pytest.mark.parametrize("rho", [0.6, -0.95])
def test_sample_normal_of_two_variables_has_the_autocorrelation_of_equation_6(rho, rng):
    covariance, precision = correlated(rho)
    start = rng.standard_normal((N, 2)) @ np.linalg.cholesky(covariance).T
    draws = sample_normal(start, np.zeros(2), precision, 2, blocks=[np.array([0]), np.array([1])], rng=rng)
    for i, sd in enumerate((2, 0.5)):
        product = draws[:, 0, i] * draws[:, 1, i] / sd**2
        call = f"x_{i + 1} times itself a sweep later, for a correlation of {rho},"
        assert_mean(product, rho**2, call, "equation (6)")


def test_sample_normal_with_a_random_scan_forgets_as_the_mean_of_the_matrices(rng):
    draws = sample_normal(np.tile(FAR, (N, 1)), MEAN, PRECISION, 2, blocks=BLOCKS, scan="random", rng=rng)
    update = np.eye(4) * 0
    for block in BLOCKS:
        one = np.eye(4)
        one[block] -= np.linalg.solve(PRECISION[np.ix_(block, block)], PRECISION[block])
        update += one / 3
    for t in range(2):
        expected = MEAN + np.linalg.matrix_power(update, 3 * (t + 1)) @ (FAR - MEAN)
        call = f"draw {t} of sample_normal(3 blocks, scan='random')"
        assert_mean(draws[:, t], expected, call, "the mean matrix after (6), to the power of the number of updates")


def test_sample_normal_with_a_random_scan_misses_a_block_in_some_chains(rng):
    draws = sample_normal(np.tile(FAR, (N, 1)), MEAN, PRECISION, 1, blocks=BLOCKS, scan="random", rng=rng)
    stayed = draws[:, 0, [0, 1, 3]] == FAR[[0, 1, 3]]
    for i in range(3):
        call = f"chains whose block {i} of 3 was never chosen in 3 updates"
        assert_frequency(np.count_nonzero(stayed[:, i]), N, (2 / 3) ** 3, call, "a fair choice: (2/3)^3")
    call = "chains whose 3 updates were all of one block"
    assert_frequency(np.count_nonzero(stayed.sum(axis=1) == 2), N, 1 / 9, call, "a fair choice each time: 1/9")


def moved_blocks(scan, n_chains, n_draws, rng):
    """Whether each chain moved each block between two draws, of shape (n_chains, n_draws, 3)."""
    start = np.tile(FAR, (n_chains, 1))
    draws = sample_normal(start, MEAN, PRECISION, n_draws, blocks=BLOCKS, scan=scan, rng=rng)
    path = np.concatenate([start[:, None], draws], axis=1)
    return (np.diff(path, axis=1) != 0)[:, :, [0, 1, 3]]


@pytest.mark.parametrize("scan", ["systematic", "random"])
def test_sample_normal_moves_every_block_in_the_long_run(scan, rng):
    moved = moved_blocks(scan, 20, 30, rng).any(axis=1)
    # A random scan misses a block in all of 90 updates once in 10^16.
    assert moved.all(), f"30 draws with scan='{scan}' left {np.count_nonzero(~moved)} of 20 * 3 blocks where they were"


def test_sample_normal_moves_every_block_in_a_sweep(rng):
    moved = moved_blocks("systematic", 20, 3, rng)
    assert moved.all(), f"the sweeps of 'systematic' missed a block {np.count_nonzero(~moved)} times of 180"


def test_sample_normal_with_a_random_scan_may_move_two_blocks_and_miss_one(rng):
    number = moved_blocks("random", 300, 2, rng).sum(axis=2)
    assert (number == 2).any(), "no chain of 300 with scan='random' moved two of three blocks between two draws"


def test_sample_normal_with_a_random_scan_skips_blocks(rng):
    moved = moved_blocks("random", 300, 2, rng)
    assert not moved.all(), "scan='random' updated each block in each of 300 chains twice: some should be missed"


def test_sample_normal_with_a_random_scan_lets_each_chain_choose(rng):
    moved = moved_blocks("random", 300, 2, rng)
    assert (moved != moved[:1]).any(), "all 300 chains with scan='random' moved the same blocks at the same time"


@pytest.mark.parametrize("scan", ["systematic", "random"])
def test_sample_normal_takes_its_randomness_from_its_generator_and_leaves_its_start_alone(scan):
    start = np.tile(FAR, (4, 1))

    def run(seed):
        generator = np.random.default_rng(seed)
        return sample_normal(start, MEAN, PRECISION, 3, blocks=BLOCKS, scan=scan, rng=generator)

    first = run(1)
    assert_close(run(1), first, "sample_normal with the same seed again", "the first time", rtol=0)
    assert (run(2) != first).any(), "sample_normal returned the same draws for two seeds"
    assert (start == FAR).all(), "sample_normal changed the positions that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [("n_draws", 0), ("scan", "sequential"), ("blocks", [np.array([0])]), ("precision", -np.eye(2))],
)
def test_sample_normal_refuses_what_is_no_scan_of_every_coordinate(name, value, rng):
    arguments = {"precision": np.eye(2), "n_draws": 2, "scan": "random", "blocks": [np.array([0]), np.array([1])]}
    with pytest.raises(ValueError, match=f"{name} must"):
        sample_normal(np.zeros((2, 2)), np.zeros(2), rng=rng, **arguments | {name: value})


# draw_rates

COUNTS = np.array([7, 3, 0, 9, 4, 1, 0, 2])


def test_draw_rates_divides_the_accidents_by_the_years(rng):
    found = draw_rates(1_000_000 * COUNTS, np.array([1, 4, 7]), shape=2.0, rate=3.0, rng=rng)
    # With so many accidents the gamma law is within 0.4 % of its mean, (a + S) / (b + years), but for odds below 1e-14.
    expected = 1e6 * np.array([[7 / 4, 19 / 10], [19 / 7, 7 / 7], [24 / 10, 2 / 4]])
    call = "draw_rates(1e6 * [7, 3, 0, 9, 4, 1, 0, 2], [1, 4, 7], shape=2, rate=3)"
    assert_close(found, expected, call, "the gamma densities in (8)", rtol=8e-3)


def test_draw_rates_follows_a_prior_of_many_accidents(rng):
    found = draw_rates(COUNTS, np.array([1, 4, 7]), shape=1e6, rate=3.0, rng=rng)
    expected = 1e6 / np.array([[4, 10], [7, 7], [10, 4]])
    call = "draw_rates([7, 3, 0, 9, 4, 1, 0, 2], [1, 4, 7], shape=1e6, rate=3)"
    assert_close(found, expected, call, "the gamma densities in (8)", rtol=8e-3)


def test_draw_rates_draws(rng):
    c = np.arange(1, 8)
    before = np.cumsum(COUNTS)[:-1]
    found = draw_rates(COUNTS, c, shape=2.0, rate=3.0, rng=rng)
    mean = np.stack([(2 + before) / (3 + c), (28 - before) / (11 - c)], axis=1)
    same = np.count_nonzero(np.isclose(found, mean, rtol=1e-6))
    assert same < 3, f"{same} of 14 rates of draw_rates are the mean of the gamma law: they should be drawn from it"


@pytest.mark.parametrize(("shape", "rate"), [(2.0, 0.5), (0.7, 6.0)])
@pytest.mark.parametrize("side", [0, 1], ids=["before", "after"])
def test_draw_rates_has_the_gamma_law_of_equation_8(shape, rate, side, rng):
    found = draw_rates(COUNTS, np.full(N, 6), shape=shape, rate=rate, rng=rng)[:, side]
    events, years = ((24, 6), (2, 2))[side]
    law = stats.gamma(shape + events, scale=1 / (rate + years))
    call = f"the rates {('before', 'after')[side]} of draw_rates([7, 3, 0, 9, 4, 1, 0, 2], 6, {shape=}, {rate=})"
    assert_distribution(found, law, call, "equation (8)")
    assert len(np.unique(found)) == N, f"{call} are equal in several chains"


def test_draw_rates_draws_both_by_themselves(rng):
    found = draw_rates(COUNTS, np.full(N, 5), shape=2.0, rate=3.0, rng=rng)
    z = (found - np.array([25 / 8, 5 / 6])) / np.sqrt([25 / 64, 5 / 36])
    assert_mean(z.prod(axis=1), 0, "the product of both rates, standardised,", "independence given c", sd=1)


def test_draw_rates_knows_years_without_accidents(rng):
    found = draw_rates(np.zeros(5, int), np.full(N, 2), shape=1.5, rate=0.5, rng=rng)
    assert_mean(found, [1.5 / 2.5, 1.5 / 3.5], "draw_rates([0, 0, 0, 0, 0], 2, shape=1.5, rate=0.5)", "equation (8)")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("counts", np.array([3])),
        ("counts", np.array([3, -1, 2])),
        ("counts", np.ones((2, 2), int)),
        ("change", np.array([0])),
        ("change", np.array([8])),
        ("change", np.array([[2]])),
        ("shape", 0.0),
        ("shape", np.nan),
        ("rate", -1.0),
        ("rate", np.inf),
    ],
)
def test_draw_rates_refuses_counts_changes_and_priors_that_are_none(name, value, rng):
    arguments = {"counts": COUNTS, "change": np.array([3]), "shape": 1.0, "rate": 1.0} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must"):
        draw_rates(**arguments, rng=rng)


# log_change_given_rates


def by_poisson(counts, rates):
    """Equation (7) as it stands, by SciPy's Poisson law."""
    n = len(counts)
    log_p = np.array(
        [
            [
                stats.poisson(first).logpmf(counts[:c]).sum() + stats.poisson(second).logpmf(counts[c:]).sum()
                for c in range(1, n)
            ]
            for first, second in rates
        ]
    )
    weight = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return np.log(weight / weight.sum(axis=1, keepdims=True))


def test_log_change_given_rates_of_three_years():
    found = np.exp(log_change_given_rates(np.array([2, 0, 1]), np.array([[2.0, 0.5]])))
    # c = 1: 2^2 e^-2 (1/2) e^-1; c = 2: 2^2 e^-4 (1/2) e^-(1/2). Their ratio is e^(3/2).
    expected = np.array([[1 / (1 + np.exp(-1.5)), 1 / (1 + np.exp(1.5))]])
    assert_close(found, expected, "exp of log_change_given_rates([2, 0, 1], [[2, 0.5]])", "equation (9)")


def test_log_change_given_rates_is_the_product_of_poisson_laws(rng):
    rates = rng.gamma(2, 1.5, (6, 2))
    found = log_change_given_rates(COUNTS, rates)
    call = "log_change_given_rates([7, 3, 0, 9, 4, 1, 0, 2], rates)"
    assert_close(found, by_poisson(COUNTS, rates), call, "equation (7), by SciPy", rtol=1e-8, atol=1e-9)


def test_log_change_given_rates_sums_to_one_for_each_chain(rng):
    found = log_change_given_rates(COUNTS, rng.gamma(2, 1.5, (6, 2)))
    assert found.shape == (6, 7), f"log_change_given_rates of 8 years and 6 chains returned shape {found.shape}"
    total = np.exp(found).sum(axis=1)
    assert_close(total, np.ones(6), "the sums of exp(log_change_given_rates(...))", "probabilities", rtol=1e-9)


def test_log_change_given_rates_cannot_tell_where_both_rates_are_equal():
    found = log_change_given_rates(COUNTS, np.array([[1.7, 1.7]]))
    expected = np.full((1, 7), -np.log(7))
    assert_close(found, expected, "log_change_given_rates(..., [[1.7, 1.7]])", "equation (9)", rtol=1e-8)


def test_log_change_given_rates_survives_a_million_accidents():
    counts = 1_000_000 * np.array([5, 5, 5, 1, 1])
    found = log_change_given_rates(counts, np.array([[5e6, 1e6], [1e-5, 2.0]]))
    assert np.isfinite(found).all(), f"log_change_given_rates of millions of accidents returned {found}"
    assert_close(found[0, 2], 0.0, "the log probability of c = 3", "counts that change there", atol=1e-9)
    # From c = 3 to c = 4 a year of 1e6 accidents changes its rate from 5e6 to 1e6, or back.
    step = 1e6 * np.log(5) - 4e6
    assert_close(found[0, 3] - found[0, 2], step, "log p(c = 4) - log p(c = 3)", "equation (9)", rtol=1e-8)


@pytest.mark.given
@pytest.mark.parametrize(
    "rates", [np.array([[1.0, 0.0]]), np.array([[np.inf, 1.0]]), np.array([[np.nan, 1.0]]), np.ones(2), np.ones((3, 3))]
)
def test_log_change_given_rates_refuses_what_are_no_rates(rates):
    with pytest.raises(ValueError, match="rates must"):
        log_change_given_rates(COUNTS, rates)


# log_change_posterior


def test_log_change_posterior_of_three_years():
    # a = 1, b = 2, S = 2, 2 of 3. c = 1: 2!/3^3 * 1!/4^2; c = 2: 2!/4^3 * 1!/3^2.
    found = np.exp(log_change_posterior(np.array([2, 0, 1]), shape=1.0, rate=2.0))
    weights = np.array([2 / 27 / 16, 2 / 64 / 9])
    call = "exp of log_change_posterior([2, 0, 1], shape=1, rate=2)"
    assert_close(found, weights / weights.sum(), call, "equation (10)")


@pytest.mark.parametrize(("shape", "rate"), [(2.0, 0.5), (0.7, 6.0)])
def test_log_change_posterior_agrees_with_the_integral_over_the_rates(shape, rate):
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x, w = 15 * (nodes + 1), 15 * weights  # from 0 to 30, where next to nothing is left
    prior = stats.gamma(shape, scale=1 / rate).pdf(x) * w

    def evidence(part):
        return (prior * np.exp(stats.poisson(x[:, None]).logpmf(part).sum(axis=1))).sum()

    joint = np.array([evidence(COUNTS[:c]) * evidence(COUNTS[c:]) for c in range(1, 8)])
    found = np.exp(log_change_posterior(COUNTS, shape=shape, rate=rate))
    call = f"exp of log_change_posterior([7, 3, 0, 9, 4, 1, 0, 2], {shape=}, {rate=})"
    assert_close(found, joint / joint.sum(), call, "quadrature of (8)", rtol=1e-3, tolerance="a rule of 200 nodes")


def test_log_change_posterior_is_the_ratio_of_the_joint_density_and_the_rates_conditional():
    # p(c | y) = p(c, lambda | y) / p(lambda | c, y), for any lambda.
    rates, c = np.array([2.2, 0.9]), np.arange(1, 8)
    before = np.cumsum(COUNTS)[:-1]
    first = stats.gamma(2 + before, scale=1 / (3 + c)).logpdf(rates[0])
    second = stats.gamma(2 + 26 - before, scale=1 / (3 + 8 - c)).logpdf(rates[1])
    ratio = by_poisson(COUNTS, [rates])[0] - first - second
    found = log_change_posterior(COUNTS, shape=2.0, rate=3.0)
    call = "log_change_posterior(..., shape=2, rate=3)"
    expected = ratio - np.log(np.exp(ratio).sum())
    assert_close(found, expected, call, "(8) over the gamma densities of the rates", rtol=1e-8, atol=1e-9)


def test_log_change_posterior_of_the_same_years_backwards_is_mirrored():
    found = log_change_posterior(COUNTS[::-1].copy(), shape=2.0, rate=3.0)
    expected = log_change_posterior(COUNTS, shape=2.0, rate=3.0)[::-1]
    assert_close(found, expected, "log_change_posterior of the years backwards", "the mirror image", rtol=1e-8)


def test_log_change_posterior_of_the_coal_mines_is_the_published_one():
    years, counts = coal_counts()
    p = np.exp(log_change_posterior(counts, shape=0.5, rate=1e-6))
    c = np.arange(1, len(counts))
    last = years[0] + c[p.argmax()] - 1
    assert last in (1890, 1891), f"log_change_posterior of the coal mines has its mode after the year {last}, not 1890"
    before = np.cumsum(counts)[:-1]
    rates = [(p * (0.5 + before) / c).sum(), (p * (191.5 - before) / (112 - c)).sum()]
    assert abs(rates[0] - 3.1) < 0.1, f"the coal mines had {rates[0]:.2f} disasters a year before; published is 3.1"
    assert abs(rates[1] - 0.92) < 0.05, f"the coal mines had {rates[1]:.2f} disasters a year after; published is 0.9"


def test_log_change_posterior_survives_a_million_accidents():
    found = log_change_posterior(1_000_000 * np.array([5, 5, 5, 1, 1]), shape=1.0, rate=1.0)
    assert np.isfinite(found).all(), f"log_change_posterior of millions of accidents returned {found}"
    assert_close(np.exp(found).sum(), 1.0, "the sum of exp(log_change_posterior(...))", "probabilities", rtol=1e-9)
    assert found.argmax() == 2, (
        f"log_change_posterior of [5, 5, 5, 1, 1] millions is largest at c = {found.argmax() + 1}"
    )


# sample_change_point


@pytest.fixture(scope="module")
def chains():
    """N chains from exact draws of c, two steps."""
    generator = np.random.default_rng(7)
    p = np.exp(log_change_posterior(COUNTS, shape=2.0, rate=3.0))
    start = generator.choice(np.arange(1, 8), N, p=p / p.sum())
    return start, sample_change_point(COUNTS, start, 2, shape=2.0, rate=3.0, rng=generator)


def test_sample_change_point_returns_chains_then_draws(chains):
    found = chains[1]
    assert found.change.shape == (N, 2), f"sample_change_point(...).change has shape {found.change.shape}"
    assert found.rates.shape == (N, 2, 2), f"sample_change_point(...).rates has shape {found.rates.shape}"
    assert found.change.dtype.kind in "iu", f"sample_change_point(...).change has dtype {found.change.dtype}"


def test_sample_change_point_draws_change_points_with_their_posterior_probabilities(chains):
    p = np.exp(log_change_posterior(COUNTS, shape=2.0, rate=3.0))
    counts = np.bincount(chains[1].change[:, -1], minlength=9)
    assert counts[0] == counts[8] == 0, "sample_change_point drew a change point that leaves no year before or after"
    assert_frequencies(counts[1:8], p / p.sum(), "the second change of sample_change_point", "equation (10)")


def test_sample_change_point_draws_rates_with_their_posterior_mean(chains):
    p, c = np.exp(log_change_posterior(COUNTS, shape=2.0, rate=3.0)), np.arange(1, 8)
    before = np.cumsum(COUNTS)[:-1]
    expected = [(p * (2 + before) / (3 + c)).sum(), (p * (28 - before) / (11 - c)).sum()]
    assert_mean(chains[1].rates[:, -1], expected, "the second rates of sample_change_point", "equations (8) and (10)")


def test_sample_change_point_records_the_change_drawn_given_the_rates_recorded(chains):
    found = chains[1]
    p = np.exp(log_change_given_rates(COUNTS, found.rates[:, -1]))
    off = found.change[:, -1] - p @ np.arange(1, 8)
    assert_mean(off, 0, "c minus its mean given the rates recorded with it", "equation (9)")
    assert_mean(off * (p @ np.arange(1, 8) - 3), 0, "that times the mean less 3", "equation (9)")


def test_sample_change_point_draws_the_rates_given_the_change_before(rng):
    found = sample_change_point(COUNTS, np.full(N, 7), 2, shape=2.0, rate=3.0, rng=rng)
    first = found.rates[:, 0]
    assert_mean(first, [26 / 10, 4 / 4], "the first rates of sample_change_point started at c = 7", "equation (8)")
    p = np.exp(log_change_given_rates(COUNTS, first)).mean(axis=0)
    shares = np.bincount(found.change[:, 0], minlength=8)[1:8] / N
    # Each share is a mean over chains of coins with the probabilities p, whose variance is at most p / N.
    off = abs(shares - p) / np.sqrt(p / N)
    assert off.max() < 7, f"the first change of sample_change_point is {off.max():.1f} standard errors off (9)"
    before = np.cumsum(COUNTS)[found.change[:, 0] - 1]
    expected = np.stack([(2 + before) / (3 + found.change[:, 0]), (28 - before) / (11 - found.change[:, 0])], axis=1)
    off = found.rates[:, 1] - expected
    assert_mean(off, 0, "the second rates minus their mean given the first change", "equation (8)")
    assert_mean(off * expected, 0, "that times the mean", "equation (8)")


def test_sample_change_point_gives_every_chain_random_numbers_of_its_own(chains):
    for what, values in (("rates before", chains[1].rates[:, 0, 0]), ("rates after", chains[1].rates[:, 0, 1])):
        same = N - len(np.unique(values))
        assert same == 0, f"sample_change_point drew {same} {what} that another chain has as well"
    equal = chains[1].change[::2, 0] == chains[1].change[1::2, 0]
    p = np.exp(log_change_posterior(COUNTS, shape=2.0, rate=3.0))
    p /= p.sum()
    call = "pairs of chains with the same change in sample_change_point"
    assert_frequency(np.count_nonzero(equal), N // 2, (p**2).sum(), call, "independence")


def test_sample_change_point_of_the_coal_mines(rng):
    counts = coal_counts()[1]
    p = np.exp(log_change_posterior(counts, shape=1.0, rate=1.0))
    start = rng.choice(np.arange(1, 112), 2000, p=p / p.sum())
    found = sample_change_point(counts, start, 5, shape=1.0, rate=1.0, rng=rng)
    share = (found.change[:, -1] >= 36) & (found.change[:, -1] <= 45)
    call = "chains of sample_change_point that put the change of the coal mines after 1886 to 1895"
    assert_frequency(np.count_nonzero(share), 2000, p[35:45].sum(), call, "equation (10)")


def test_sample_change_point_survives_a_thousand_accidents_a_year(rng):
    counts = np.array([5000] * 6 + [1000] * 4)
    found = sample_change_point(counts, np.array([1, 9, 3]), 5, shape=1.0, rate=0.001, rng=rng)
    assert (found.change[:, -1] == 6).all(), (
        f"sample_change_point found {found.change[:, -1]}, expected the change at 6"
    )


def test_sample_change_point_goes_on_from_where_it_is(rng):
    counts = 100_000 * np.array([90, 90, 90, 58, 58, 58, 10, 10, 10])
    found = sample_change_point(counts, np.array([1, 1]), 3, shape=1.0, rate=0.01, rng=rng)
    # With so many accidents nothing is left to chance. At c = 1 the rates are 90 and 48: years above 67 are likelier under
    # the first, so c = 3. Then they are 90 and 34, which part at 57.5, so c = 6, where it stays.
    assert_close(
        found.change, np.array([[3, 6, 6]] * 2), "sample_change_point from c = 1 in three levels", "(8) and (9)"
    )


def test_sample_change_point_leaves_its_start_alone(rng):
    start = np.array([3, 3, 3, 3])
    sample_change_point(COUNTS, start, 5, shape=2.0, rate=3.0, rng=rng)
    assert (start == 3).all(), "sample_change_point changed its argument change"


@pytest.mark.given
@pytest.mark.parametrize(("name", "value"), [("n_draws", 0), ("change", np.array([8])), ("shape", -2.0)])
def test_sample_change_point_refuses_what_the_parts_refuse(name, value, rng):
    arguments = {"change": np.array([3]), "n_draws": 2, "shape": 1.0} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must"):
        sample_change_point(COUNTS, rate=1.0, rng=rng, **arguments)
