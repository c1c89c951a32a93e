"""Shared tests of bayes/diagnostics/r_hat: run on the reference, and on the learner's file.

The draws are made here, so that every right solution returns the same numbers, up to rounding: nothing is left to chance.
"""

import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import linalg, stats

from mlpath.bayes.diagnostics.r_hat import (
    average_ranks,
    classic_r_hat,
    geweke,
    normal_scores,
    r_hat,
    rank_counts,
    rank_figure,
    spectral_variance,
    split_chains,
    trace_figure,
)
from mlpath.testing import assert_close


@pytest.fixture
def rng():
    return np.random.default_rng(20240817)


def written_out(n_chains=3, n_draws=31):
    """Draws without a generator: ((7 m t^2 + 13 m t + 5 t) mod 101) / 8, with some ties."""
    m, t = np.arange(1, n_chains + 1)[:, None], np.arange(1, n_draws + 1)
    return ((7 * m * t * t + 13 * m * t + 5 * t) % 101) / 8


def autoregression(rng, phi, n_chains, n_draws, mean=0.0):
    """Chains that begin in their stationary law, with variance 1 / (1 - phi^2)."""
    x = rng.standard_normal((n_chains, n_draws))
    x[:, 0] /= np.sqrt(1 - phi**2)
    for t in range(1, n_draws):
        x[:, t] += phi * x[:, t - 1]
    return x + mean


def by_analysis_of_variance(chains):
    """R-hat by SciPy's F, which is B / W."""
    n = chains.shape[1]
    return np.sqrt((n - 1) / n + stats.f_oneway(*chains).statistic / n)


def scores(draws):
    return stats.norm.ppf((stats.rankdata(draws).reshape(draws.shape) - 3 / 8) / (draws.size + 1 / 4))


def in_halves(draws):
    half = draws.shape[1] // 2
    return np.array([*(row[:half] for row in draws), *(row[len(row) - half :] for row in draws)])


# split_chains


def test_split_chains_returns_first_halves_then_last_halves():
    draws = np.arange(24.0).reshape(3, 8)
    expected = np.array(
        [[0, 1, 2, 3], [8, 9, 10, 11], [16, 17, 18, 19], [4, 5, 6, 7], [12, 13, 14, 15], [20, 21, 22, 23]]
    )
    assert_close(split_chains(draws), expected, "split_chains of three chains with 8 draws", "its docstring")


@pytest.mark.parametrize("n_draws", [5, 11])
def test_split_chains_leaves_out_the_middle_of_an_odd_number(n_draws):
    draws, half = 100.0 * np.arange(1, 5)[:, None] + np.arange(n_draws), n_draws // 2
    expected = np.concatenate([draws[:, :half], draws[:, half + 1 :]])
    call = f"split_chains of four chains with {n_draws} draws"
    assert_close(split_chains(draws), expected, call, "its docstring")


def test_split_chains_returns_new_numbers_and_leaves_its_draws_alone():
    draws = written_out()
    halves = split_chains(draws)
    halves += 1.0
    assert np.array_equal(draws, written_out()), "what is written into the halves changes the draws that were given"


@pytest.mark.given
@pytest.mark.parametrize(
    "draws",
    [np.ones((2, 3)), np.ones(8), np.ones((2, 8, 1)), np.ones((0, 8)), np.full((2, 8), np.nan)],
    ids=["three draws", "one axis", "three axes", "no chain", "nan"],
)
def test_split_chains_refuses_what_are_no_draws(draws):
    with pytest.raises(ValueError, match="draws must"):
        split_chains(draws)


# classic_r_hat


def test_classic_r_hat_of_two_chains():
    chains = np.array([[1.0, 3.0, 2.0], [6.0, 5.0, 10.0]])
    # Means 2 and 7, variances 1 and 7: B = 37.5, W = 4, V = 8/3 + 12.5.
    expected = np.sqrt((8 / 3 + 12.5) / 4)
    assert_close(classic_r_hat(chains), expected, f"classic_r_hat({chains.tolist()})", "equations (1) to (3)")


@pytest.mark.parametrize(("n_chains", "n_draws"), [(2, 40), (7, 5), (5, 300)])
def test_classic_r_hat_is_an_analysis_of_variance(n_chains, n_draws, rng):
    chains = rng.gamma(2, 3, (n_chains, n_draws)) + rng.normal(0, 2, (n_chains, 1))
    call = f"classic_r_hat of {n_chains} chains with {n_draws} draws"
    assert_close(classic_r_hat(chains), by_analysis_of_variance(chains), call, "SciPy's f_oneway: B / W")


def test_classic_r_hat_is_below_one_where_all_means_are_equal():
    chains = np.array([[1.0, 2, 3, 4, 5], [5.0, 3, 1, 2, 4], [2.0, 6, 3, 0, 4], [3.0, 3, 9, 3, -3]])
    assert_close(classic_r_hat(chains), np.sqrt(0.8), "classic_r_hat of four chains with one mean", "(2) for B = 0")


def test_classic_r_hat_does_not_depend_on_units_or_on_any_order(rng):
    chains = rng.normal(0, 1, (4, 25)) + np.arange(4)[:, None]
    expected = by_analysis_of_variance(chains)
    assert_close(classic_r_hat(1e3 - 50 * chains), expected, "classic_r_hat(1000 - 50 chains)", "that of the chains")
    shuffled = rng.permuted(chains[[2, 0, 3, 1]], axis=1)
    assert_close(classic_r_hat(shuffled), expected, "classic_r_hat of shuffled chains", "that of the chains")


def test_classic_r_hat_counts_a_chain_that_stands_still_with_a_variance_of_zero(rng):
    chains = rng.normal(0, 1, (4, 30))
    chains[1] = 2.5
    found = classic_r_hat(chains)
    assert_close(found, by_analysis_of_variance(chains), "classic_r_hat of four chains, one stuck", "(1) to (3)")


@pytest.mark.parametrize("n_draws", [2, 10, 37])
def test_classic_r_hat_of_chains_that_never_move(n_draws):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apart = classic_r_hat(np.repeat([[0.1], [0.7], [0.3]], n_draws, axis=1))
        together = classic_r_hat(np.full((3, n_draws), 0.1))
    assert_close(apart, np.inf, f"classic_r_hat of chains stuck at 0.1, 0.7, 0.3 for {n_draws} steps", "its docstring")
    assert_close(together, np.nan, f"classic_r_hat of chains all stuck at 0.1 for {n_draws} steps", "its docstring")


@pytest.mark.given
@pytest.mark.parametrize(
    "chains",
    [np.ones((1, 8)), np.ones((3, 1)), np.ones(8), np.array([[1.0, 2], [3, np.inf]])],
    ids=["one chain", "one draw", "one axis", "inf"],
)
def test_classic_r_hat_refuses_what_are_no_chains(chains):
    with pytest.raises(ValueError, match="chains must"):
        classic_r_hat(chains)


# average_ranks


def test_average_ranks_shares_them_among_equal_draws():
    draws = np.array([[0.3, 2.0, -1.0, 2.0], [2.0, 0.3, 9.0, 1.0]])
    expected = np.array([[2.5, 6.0, 1.0, 6.0], [6.0, 2.5, 8.0, 4.0]])
    assert_close(average_ranks(draws), expected, f"average_ranks({draws.tolist()})", "its docstring")


@pytest.mark.parametrize("values", [3, 40, 100_000], ids=["few values", "some ties", "hardly a tie"])
def test_average_ranks_are_those_of_scipy(values, rng):
    draws = rng.integers(-values // 2, values, (4, 60)) / 8
    expected = stats.rankdata(draws).reshape(draws.shape)
    assert_close(
        average_ranks(draws), expected, f"average_ranks of 4 x 60 draws of {values} values", "SciPy's rankdata"
    )


def test_average_ranks_do_not_change_under_increasing_maps(rng):
    draws = rng.normal(0, 2, (3, 50))
    call = "average_ranks(exp(draws))"
    assert_close(average_ranks(np.exp(draws)), average_ranks(draws), call, "that of the draws")
    assert average_ranks(draws).sum() == 150 * 151 / 2, "the ranks 1 to 150 should sum to 11325"


def test_average_ranks_leaves_its_draws_alone():
    draws = written_out()
    average_ranks(draws)
    assert np.array_equal(draws, written_out()), "average_ranks changed the draws that it was given"


@pytest.mark.given
@pytest.mark.parametrize("draws", [np.ones(8), np.ones((3, 0)), np.array([[1.0, np.nan]]), np.array([[1.0, -np.inf]])])
def test_average_ranks_refuses_what_are_no_draws(draws):
    with pytest.raises(ValueError, match="draws must"):
        average_ranks(draws)


# normal_scores


def test_normal_scores_of_five_draws():
    draws = np.array([[30.0, -2.0, 1e9, 0.5, 7.0]])
    # (r - 3/8) / 5.25 is 0.119, 0.310, 0.5, 0.690, 0.881 for r = 1 ... 5.
    expected = np.array([[0.4972006, -1.1797611, 1.1797611, -0.4972006, 0.0]])
    found = normal_scores(draws)
    assert_close(found, expected, f"normal_scores({draws.tolist()})", "equation (4)", rtol=1e-6, atol=1e-12)


def test_normal_scores_are_quantiles_of_scipy(rng):
    draws = np.round(rng.standard_cauchy((5, 200)), 1)
    assert_close(normal_scores(draws), scores(draws), "normal_scores of 5 x 200 rounded Cauchy draws", "equation (4)")


def test_normal_scores_turn_with_the_sign_and_ignore_increasing_maps(rng):
    draws = rng.normal(0, 1, (3, 50)).round(1)
    found = normal_scores(draws)
    assert_close(normal_scores(-draws), -found, "normal_scores(-draws)", "the symmetry of (4)", atol=1e-12)
    assert_close(normal_scores(draws**3 + 5), found, "normal_scores(draws^3 + 5)", "that of the draws", atol=1e-12)


def test_normal_scores_of_equal_draws_are_equal():
    found = normal_scores(np.full((3, 7), 0.1))
    assert_close(found, np.zeros((3, 7)), "normal_scores of 21 equal draws", "(4): the middle rank", atol=1e-12)


# r_hat


def test_r_hat_is_the_number_of_arviz():
    draws = written_out()
    # By ArviZ 0.8: rhat(draws), method rank. The draws of the second kind differ in width, and the folded ones decide.
    assert_close(r_hat(draws), 1.0001751544423556, "r_hat of 3 x 31 draws written out", "ArviZ 0.8", rtol=1e-10)
    wide = (draws - 6.25) * np.array([[1], [1], [4]])
    assert_close(
        r_hat(wide), 1.4458610746913743, "r_hat of those draws, one chain four times as wide", "ArviZ 0.8", rtol=1e-10
    )


@pytest.mark.parametrize("kind", ["a shift", "a width", "neither"])
@pytest.mark.parametrize("n_draws", [40, 101])
def test_r_hat_is_the_worse_of_bulk_and_folded(kind, n_draws, rng):
    draws = rng.standard_t(3, (5, n_draws))
    draws[2] = draws[2] * (4 if kind == "a width" else 1) + (1 if kind == "a shift" else 0)
    halves = in_halves(draws)
    bulk = by_analysis_of_variance(scores(halves))
    folded = by_analysis_of_variance(scores(abs(halves - np.median(halves))))
    call = f"r_hat of five chains with {n_draws} draws, one with {kind} of its own"
    assert_close(r_hat(draws), max(bulk, folded), call, "equations (5) and (6)")


def test_r_hat_is_near_one_for_chains_that_agree(rng):
    for name, draws in {
        "normal": rng.normal(7, 0.1, (4, 2000)),
        "Cauchy": rng.standard_cauchy((4, 2000)),
        "of two values": rng.integers(0, 2, (4, 2000)).astype(float),
        "a single chain": rng.normal(0, 1, (1, 4000)),
    }.items():
        found = r_hat(draws)
        assert 0.995 < found < 1.01, f"r_hat of independent draws, {name}, is {found:.4f}; the chains agree"


def test_r_hat_sees_what_the_classic_one_does_not(rng):
    drift = rng.normal(0, 1, (4, 1000)) + np.linspace(0, 3, 1000)
    assert classic_r_hat(drift) < 1.01, "the drifting chains of this test should fool classic_r_hat"
    assert r_hat(drift) > 1.1, f"r_hat is {r_hat(drift):.3f} for four chains that all drift; they are to be split"
    wide = rng.normal(0, 1, (4, 1000)) * np.array([[1], [1], [1], [3]])
    assert r_hat(wide) > 1.03, f"r_hat is {r_hat(wide):.3f}, one chain three times as wide; fold the draws"
    heavy = rng.standard_cauchy((4, 1000)) + np.array([[0], [0], [0], [5]])
    assert r_hat(heavy) > 1.1, f"r_hat is {r_hat(heavy):.3f}, one of four Cauchy chains shifted by 5; use ranks"


def test_r_hat_does_not_depend_on_units(rng):
    draws = rng.normal(0, 1, (4, 51)) * np.array([[1], [2], [1], [1]])
    # Exact powers of two, so that no ties come or go.
    assert_close(r_hat(-1024 * draws), r_hat(draws), "r_hat(-1024 draws)", "that of the draws", rtol=1e-12)
    assert_close(r_hat(draws[[3, 1, 0, 2]]), r_hat(draws), "r_hat of the chains in another order", "that of the draws")


def test_r_hat_of_chains_that_never_move(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together = r_hat(np.full((3, 10), 0.1))
        apart = r_hat(np.repeat([[0.1], [0.7], [0.35]], 9, axis=1))
        symmetric = r_hat(np.repeat([[0.0], [1.0]], 10, axis=1))
        coins = r_hat(np.tile([0.0, 1.0], (3, 8)))
    assert_close(together, np.nan, "r_hat of three chains, all stuck at 0.1", "its docstring")
    assert_close(apart, np.inf, "r_hat of three chains stuck at 0.1, 0.7 and 0.35", "its docstring")
    assert_close(symmetric, np.inf, "r_hat of two chains stuck at 0 and 1, as far from the median", "its docstring")
    because = "its docstring: the folded draws are all equal"
    assert_close(coins, np.sqrt(7 / 8), "r_hat of chains that go 0, 1, 0, 1, ...", because)
    one_stuck = rng.normal(0, 1, (4, 200))
    one_stuck[3] = 1.0
    found = r_hat(one_stuck)
    assert 1.05 < found < np.inf, f"r_hat is {found:.3f} for four chains of which one is stuck"


def test_r_hat_leaves_its_draws_alone():
    draws = written_out()
    r_hat(draws)
    assert np.array_equal(draws, written_out()), "r_hat changed the draws that it was given"


@pytest.mark.parametrize("draws", [np.ones((4, 3)), np.ones(40), np.array([[1.0, 2, 3, np.inf], [1, 2, 3, 4]])])
def test_r_hat_refuses_what_are_no_draws(draws):
    with pytest.raises(ValueError, match="draws must"):
        r_hat(draws)


# rank_counts


def test_rank_counts_of_two_chains():
    draws = np.array([[5.0, 1.0, 2.0, 6.0, 3.0, 4.0], [9.0, 0.0, 7.0, 8.0, 2.5, 10.0]])
    # Ranks 7, 2, 3, 8, 5, 6 and 11, 1, 9, 10, 4, 12, in bins of four.
    expected = np.array([[2, 4, 0], [2, 0, 4]])
    assert_close(rank_counts(draws, 3), expected, f"rank_counts({draws.tolist()}, 3)", "equation (7)")


@pytest.mark.parametrize("n_bins", [1, 3, 7, 20, 60, 240])
def test_rank_counts_are_those_of_equation_7(n_bins, rng):
    draws = rng.normal(0, 1, (4, 60)) + np.array([[0], [0.5], [0], [-1]])
    rank = stats.rankdata(draws).reshape(draws.shape)[..., None]
    b = np.arange(n_bins)
    expected = ((b * 240 < rank * n_bins) & (rank * n_bins <= (b + 1) * 240)).sum(axis=1)
    assert_close(rank_counts(draws, n_bins), expected, f"rank_counts of 4 x 60 draws, {n_bins} bins", "equation (7)")


def test_rank_counts_put_equal_draws_into_one_bin():
    draws = np.array([[1.0, 2.0, 2.0, 2.0, 3.0], [2.0, 2.0, 2.0, 0.0, 4.0]])
    # The six draws at 2 share the rank (3 + ... + 8) / 6 = 5.5, which is beyond the first half of ten.
    expected = np.array([[1, 4], [1, 4]])
    assert_close(rank_counts(draws, 2), expected, f"rank_counts({draws.tolist()}, 2)", "equation (7)")


def test_rank_counts_of_equal_draws_leave_the_other_bins_empty():
    # All ten share the rank 5.5, of which the fourfold over ten is 2.2.
    expected = np.array([[0, 0, 5, 0], [0, 0, 5, 0]])
    assert_close(
        rank_counts(np.full((2, 5), 7.0), 4), expected, "rank_counts of ten equal draws, 4 bins", "equation (7)"
    )


def test_rank_counts_have_twenty_bins_unless_told_and_are_whole_numbers(rng):
    found = rank_counts(rng.normal(0, 1, (3, 100)))
    assert found.shape == (3, 20), f"rank_counts of three chains has shape {found.shape}; 20 bins are the default"
    assert found.dtype.kind in "iu", f"rank_counts returned numbers of dtype {found.dtype}, expected integers"
    assert_close(found.sum(axis=0), np.full(20, 15), "the sums over chains of rank_counts", "(7): 300 ranks in 20 bins")


@pytest.mark.given
@pytest.mark.parametrize("n_bins", [0, -1, 13])
def test_rank_counts_refuses_an_impossible_number_of_bins(n_bins):
    with pytest.raises(ValueError, match="n_bins must"):
        rank_counts(np.arange(12.0).reshape(2, 6), n_bins)


def test_rank_counts_are_the_bars_of_rank_figure(rng):
    draws = rng.normal(0, 1, (3, 80))
    figure = rank_figure(draws, 8)
    assert isinstance(figure, Figure), f"rank_figure returned a {type(figure).__name__}"
    bars = [np.asarray(ax.patches[0].get_data().values) for ax in figure.axes]
    assert_close(np.array(bars), rank_counts(draws, 8), "the heights of the bars of rank_figure", "rank_counts")


# spectral_variance


def test_spectral_variance_of_six_draws():
    chains = np.array([[1.0, 4.0, 4.0, 0.0, 2.0, 1.0], [0.0, 6.0, 0.0, 6.0, 0.0, 0.0]])
    # The deviations are -1, 2, 2, -2, 0, -1 and -2, 4, -2, 4, -2, -2; six times the autocovariances of lags 0, 1, 2 are
    # 14, -2, -4 and 48, -28, 16.
    expected = np.array([14 + 2 * (2 / 3 * -2 + 1 / 3 * -4), 48 + 2 * (2 / 3 * -28 + 1 / 3 * 16)]) / 6
    found = spectral_variance(chains, 3)
    assert_close(found, expected, f"spectral_variance({chains.tolist()}, 3)", "equations (8) and (9)")


@pytest.mark.parametrize(("n", "width"), [(9, 1), (9, 2), (9, 9), (50, 7), (200, 31)])
def test_spectral_variance_is_a_quadratic_form(n, width, rng):
    chains = rng.normal(0, 1, (4, n)).cumsum(axis=1) + 20
    window = linalg.toeplitz(np.maximum(1 - np.arange(n) / width, 0))
    deviations = chains - chains.mean(axis=1, keepdims=True)
    expected = np.einsum("mi,ij,mj->m", deviations, window, deviations) / n
    call = f"spectral_variance of 4 x {n} draws, width {width}"
    assert_close(spectral_variance(chains, width), expected, call, "equation (9) as a quadratic form")


def test_spectral_variance_of_width_one_is_the_variance(rng):
    chains = rng.gamma(1, 1, (3, 40))
    assert_close(spectral_variance(chains, 1), chains.var(axis=1), "spectral_variance(chains, 1)", "(9): gamma_0")


def test_spectral_variance_is_positive_even_for_chains_that_swing(rng):
    chains = np.tile([1.0, -1.0], (3, 50)) + 0.01 * rng.normal(0, 1, (3, 100))
    for width in (2, 5, 60):
        found = spectral_variance(chains, width)
        assert (found > 0).all(), f"spectral_variance(..., {width}) of chains that swing is {found.min():.3g}"


@pytest.mark.parametrize("phi", [0.0, 0.7, -0.5])
def test_spectral_variance_approaches_that_of_an_autoregression(phi, rng):
    chains = autoregression(rng, phi, 50, 4000, mean=1e4)
    found, expected = spectral_variance(chains, 63).mean(), 1 / (1 - phi) ** 2
    # The window takes off some 4 % at phi = 0.7, the average over 50 chains errs by 2 %.
    call = f"the average of spectral_variance of 50 chains x(t) = {phi} x(t-1) + noise"
    assert_close(found, expected, call, "1 / (1 - phi)^2", rtol=0.1)


@pytest.mark.parametrize("n", [7, 10, 23])
def test_spectral_variance_of_a_chain_that_never_moves_is_exactly_zero(n):
    found = spectral_variance(np.repeat([[0.1], [1e9 / 7]], n, axis=1), 3)
    assert (found == 0).all(), f"spectral_variance of chains stuck at 0.1 and 1e9 / 7 is {found}, expected exact zeros"


def test_spectral_variance_leaves_its_chains_alone():
    chains = written_out()
    spectral_variance(chains, 4)
    assert np.array_equal(chains, written_out()), "spectral_variance changed the chains that it was given"


@pytest.mark.given
@pytest.mark.parametrize("width", [0, -2, 9])
def test_spectral_variance_refuses_an_impossible_width(width):
    with pytest.raises(ValueError, match="width must"):
        spectral_variance(np.arange(16.0).reshape(2, 8), width)


# geweke


def z_of(chain, n_first, n_last):
    """Equation (10) of one chain, by quadratic forms."""

    def mean_and_error(part):
        n = len(part)
        window = linalg.toeplitz(np.maximum(1 - np.arange(n) / int(np.sqrt(n)), 0))
        return part.mean(), (part - part.mean()) @ window @ (part - part.mean()) / n**2

    (a, error_a), (b, error_b) = mean_and_error(chain[:n_first]), mean_and_error(chain[len(chain) - n_last :])
    return (a - b) / np.sqrt(error_a + error_b)


@pytest.mark.parametrize(
    ("n_draws", "shares", "lengths"),
    [
        (200, {}, (20, 100)),
        (93, {}, (9, 46)),
        (200, {"first": 0.3}, (60, 100)),
        (200, {"last": 0.15}, (20, 30)),
        (101, {"first": 0.29, "last": 0.71}, (29, 72)),
    ],
)
def test_geweke_compares_beginning_and_end(n_draws, shares, lengths, rng):
    draws = autoregression(rng, 0.6, 5, n_draws, mean=10) + np.linspace(1, 0, n_draws)
    expected = np.array([z_of(chain, *lengths) for chain in draws])
    call = f"geweke of 5 x {n_draws} draws with {shares or 'the default windows'}"
    assert_close(geweke(draws, **shares), expected, call, f"equation (10) with windows of {lengths}")


def test_geweke_has_the_sign_of_the_beginning_and_no_units(rng):
    falling = rng.normal(0, 1, (3, 400)) + np.linspace(4, 0, 400)
    z = geweke(falling)
    assert (z > 5).all(), f"geweke of chains that fall by 4 standard deviations is {z.round(1)}; expected far above 0"
    assert_close(geweke(5 - 100 * falling), -z, "geweke(5 - 100 draws)", "minus that of the draws")


def test_geweke_is_about_standard_normal_for_chains_that_do_not_drift(rng):
    z = geweke(autoregression(rng, 0.5, 400, 3000))
    # These draws have a z of 1.18 in standard deviation: the error of a short window is a bit too small.
    assert 0.9 < z.std() < 1.35, (
        f"geweke of 400 stationary chains has a standard deviation of {z.std():.2f}, not near 1"
    )
    assert abs(z.mean()) < 0.25, f"geweke of 400 stationary chains averages {z.mean():.2f}, not near 0"


def test_geweke_of_chains_that_stand_still():
    draws = np.full((4, 40), 0.1)
    draws[1, 20:] = 0.7
    draws[2, 10:] = -0.3
    draws[3, 4:] = np.tile([0.1, 0.3], 18)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = geweke(draws)
    expected = np.array([np.nan, -np.inf, np.inf])
    assert_close(found[:3], expected, "geweke of chains stuck at 0.1, then at 0.1, 0.7 and -0.3", "its docstring")
    assert_close(found[3], z_of(draws[3], 4, 20), "geweke of a chain that stands still at first", "equation (10)")


def test_geweke_leaves_its_draws_alone():
    draws = written_out(3, 60)
    geweke(draws)
    assert np.array_equal(draws, written_out(3, 60)), "geweke changed the draws that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("shares", "name"),
    [
        ({"first": 0.0}, "first and last must"),
        ({"last": -0.1}, "first and last must"),
        ({"first": 0.6}, "first and last must"),
        ({"first": np.nan}, "first and last must"),
        ({"first": 0.01}, "draws must"),
    ],
)
def test_geweke_refuses_impossible_windows(shares, name):
    with pytest.raises(ValueError, match=name):
        geweke(np.arange(80.0).reshape(2, 40), **shares)


# figures


@pytest.mark.given
def test_trace_figure_draws_each_chain():
    draws = written_out(5, 20)
    figure = trace_figure(draws, "theta")
    lines = figure.axes[0].lines
    assert len(lines) == 5, f"trace_figure of five chains has {len(lines)} lines"
    assert_close(lines[3].get_ydata(), draws[3], "the fourth line of trace_figure", "the fourth chain")
    assert figure.axes[0].get_ylabel() == "theta", f"the axis is labelled {figure.axes[0].get_ylabel()!r}"
