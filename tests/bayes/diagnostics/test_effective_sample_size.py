"""Shared tests of bayes/diagnostics/effective_sample_size: run on the reference, and on the learner's file.

The draws are made here, so that every right solution returns the same numbers, up to rounding: nothing is left to chance.
"""

import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from mlpath.bayes.diagnostics.effective_sample_size import (
    autocorrelation,
    autocorrelation_figure,
    autocovariance,
    bulk_ess,
    ess,
    integrated_time,
    mcse,
    mcse_quantile,
    tail_ess,
)
from mlpath.testing import assert_close


@pytest.fixture
def rng():
    return np.random.default_rng(20240818)


def written_out(smooth=False):
    """3 x 31 draws without a generator, with some ties; or 3 x 29, of three neighbours each, and the chains apart."""
    m, t = np.arange(1, 4)[:, None], np.arange(1, 32)
    x = ((7 * m * t * t + 13 * m * t + 5 * t) % 101) / 8
    return x[:, 2:] + x[:, 1:-1] + x[:, :-2] + m / 2 if smooth else x


def autoregression(rng, phi, n_chains, n_draws, mean=0.0):
    """Chains that begin in their stationary law, with variance 1 / (1 - phi^2)."""
    x = rng.standard_normal((n_chains, n_draws))
    x[:, 0] /= np.sqrt(1 - phi**2)
    for t in range(1, n_draws):
        x[:, t] += phi * x[:, t - 1]
    return x + mean


def covariances(chains):
    """Equation (2) by direct sums."""
    n = chains.shape[1]
    d = chains - chains.mean(axis=1, keepdims=True)
    return np.array([[row[: n - t] @ row[t:] / n for t in range(n)] for row in d])


def correlations(chains):
    """Equations (3) and (4) by direct sums."""
    n_chains, n = chains.shape
    within = np.mean([row.var(ddof=1) for row in chains])
    total = within * (n - 1) / n + (chains.mean(axis=1).var(ddof=1) if n_chains > 1 else 0)
    rho = 1 - (within - covariances(chains).mean(axis=0)) / total
    return np.array([1.0, *rho[1:]])


def in_halves(draws):
    half = draws.shape[1] // 2
    return np.array([*(row[:half] for row in draws), *(row[len(row) - half :] for row in draws)])


NO_DRAWS = {
    "three draws": np.ones((2, 3)),
    "one axis": np.ones(8),
    "three axes": np.ones((2, 8, 1)),
    "no chain": np.ones((0, 8)),
    "nan": np.array([[1.0, 2.0, np.nan, 4.0]]),
    "inf": np.array([[1.0, 2.0, np.inf, 4.0]]),
}
NO_CHAINS = {**NO_DRAWS, "three draws": np.ones((2, 1))}


# autocovariance


def test_autocovariance_of_two_chains_with_five_draws():
    chains = np.array([[1.0, 2.0, 6.0, 3.0, 3.0], [0.0, 5.0, 0.0, 5.0, 0.0]])
    # The deviations are -2, -1, 3, 0, 0 and -2, 3, -2, 3, -2.
    expected = np.array([[14, -1, -6, 0, 0], [30, -24, 17, -12, 4]]) / 5
    found = autocovariance(chains)
    assert_close(found, expected, f"autocovariance({chains.tolist()})", "equation (2)", rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_draws", [2, 3, 17, 64])
def test_autocovariance_is_the_direct_sum(n_draws, rng):
    chains = rng.normal(0, 2, (3, n_draws)).cumsum(axis=1) + np.array([[0], [50], [-7]])
    expected = covariances(chains)
    call = f"autocovariance of 3 x {n_draws} draws"
    assert_close(autocovariance(chains), expected, call, "(2) by direct sums", rtol=1e-9, atol=1e-10)


def test_autocovariance_begins_with_the_variance_and_ignores_shifts(rng):
    chains = rng.gamma(2, 1, (4, 100))
    found = autocovariance(chains)
    assert_close(found[:, 0], chains.var(axis=1), "autocovariance(chains)[:, 0]", "the variances with divisor n")
    shifted = autocovariance(chains + 1e4)
    assert_close(shifted, found, "autocovariance(chains + 10000)", "that of the chains", rtol=1e-7, atol=1e-9)


def test_autocovariance_of_a_long_chain_takes_no_time(rng):
    n = 2**17  # the sums at all lags would be eight billion products
    chain = rng.normal(0, 1, (1, n)).cumsum(axis=1)
    found, d = autocovariance(chain)[0], chain[0] - chain.mean()
    for t in (0, 1, 1000, n - 1):
        expected = d[: n - t] @ d[t:] / n
        call = f"autocovariance of {n} draws, at lag {t}"
        assert_close(found[t], expected, call, "equation (2)", rtol=1e-8, atol=1e-12 * found[0])


def test_autocovariance_leaves_its_chains_alone():
    chains = written_out()
    autocovariance(chains)
    assert np.array_equal(chains, written_out()), "autocovariance changed the chains that it was given"


@pytest.mark.given
@pytest.mark.parametrize("what", NO_CHAINS)
def test_autocovariance_and_what_rests_on_it_refuse_what_are_no_chains(what):
    for function in (autocovariance, autocorrelation, ess):
        with pytest.raises(ValueError, match="chains must"):
            function(NO_CHAINS[what])


# autocorrelation


def test_autocorrelation_of_two_chains():
    chains = np.array([[1.0, 2.0, 6.0, 3.0, 3.0], [1.0, 6.0, 1.0, 6.0, 1.0]])
    # W = (14 / 4 + 30 / 4) / 2 = 5.5, V = 4.4 since both means are 3, and gamma is on average 4.4, -2.5, 1.1, -1.2, 0.4.
    expected = np.array([1, 1 - 8 / 4.4, 1 - 4.4 / 4.4, 1 - 6.7 / 4.4, 1 - 5.1 / 4.4])
    found = autocorrelation(chains)
    assert_close(found, expected, f"autocorrelation({chains.tolist()})", "equation (4)", rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("n_chains", "n_draws"), [(1, 2), (1, 30), (2, 9), (5, 40)])
def test_autocorrelation_is_that_of_equation_4(n_chains, n_draws, rng):
    chains = autoregression(rng, 0.7, n_chains, n_draws) + rng.normal(0, 1, (n_chains, 1))
    call = f"autocorrelation of {n_chains} chains with {n_draws} draws"
    assert_close(autocorrelation(chains), correlations(chains), call, "(4) by direct sums", rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("phi", [0.9, -0.6])
def test_autocorrelation_approaches_that_of_an_autoregression(phi, rng):
    found = autocorrelation(autoregression(rng, phi, 40, 3000, mean=100))[:8]
    call = f"autocorrelation of 40 chains x(t) = {phi} x(t-1) + noise, up to lag 7,"
    assert_close(found, phi ** np.arange(8.0), call, "phi^t", rtol=0, atol=0.03)


def test_autocorrelation_stays_high_where_the_chains_disagree(rng):
    chains = rng.normal(0, 1, (4, 500)) + np.array([[0], [10], [20], [30]])
    found = autocorrelation(chains)
    assert (found > 0.98).all(), f"autocorrelation of chains that are far apart falls to {found.min():.3f}; see (4)"
    stuck = autocorrelation(np.repeat([[0.1], [0.7], [0.3]], 20, axis=1))
    assert_close(stuck, np.ones(20), "autocorrelation of chains stuck at 0.1, 0.7 and 0.3", "(4) with W = 0")


def test_autocorrelation_does_not_depend_on_units(rng):
    chains = autoregression(rng, 0.5, 3, 50)
    found = autocorrelation(3 - 200 * chains)
    assert_close(found, autocorrelation(chains), "autocorrelation(3 - 200 chains)", "that of the chains", atol=1e-9)


@pytest.mark.parametrize("n_draws", [2, 10, 13])
def test_autocorrelation_of_equal_draws_is_unknown(n_draws):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = autocorrelation(np.full((3, n_draws), 0.1))
    assert_close(found, np.full(n_draws, np.nan), f"autocorrelation of 3 x {n_draws} draws at 0.1", "its docstring")


def test_autocorrelation_is_what_the_figure_shows(rng):
    chains = autoregression(rng, 0.8, 3, 100)
    figure = autocorrelation_figure(chains, 20)
    assert isinstance(figure, Figure), f"autocorrelation_figure returned a {type(figure).__name__}"
    line = next(line for line in figure.axes[0].lines if line.get_label() == "all together")
    assert_close(line.get_ydata(), autocorrelation(chains)[:21], "the thick line of autocorrelation_figure", "(4)")


# integrated_time


@pytest.mark.parametrize(
    ("rho", "expected", "because"),
    [
        (
            [1, 0.5, 0.25, 0.125, -0.1, 0.05, 0.9, 0.9, 0.9, 0.9],
            -1 + 2 * 1.875,
            "the pair of lags 4 and 5 ends the sum",
        ),
        ([1, 0.5, 0.1, -0.2, 0.3, 0.3, 0.1, 0.1], -1 + 2 * 1.5 + 0.1, "rho_2 counts once, its pair not at all"),
        (
            [1, 0.4, 0.1, 0.0, 0.4, 0.2, 0.3, -0.1, -0.1, 0, 0, 0],
            -1 + 2 * (1.4 + 3 * 0.1),
            "later pairs are cut to 0.1",
        ),
        (
            [1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1],
            -1 + 2 * (1.6 + 0.9) + 0.3,
            "the last pair, of lags 4 and 5, counts in part",
        ),
        (
            [1, 0.6, 0.5, 0.4, 0.3, 0.2],
            -1 + 2 * 1.6 + 0.5,
            "lag 5 is never used, so that lags 2 and 3 are the last pair",
        ),
        (
            [1, -0.9, 0.7, -0.65, 0.3, -0.4, 0.2, 0.2, 0.2],
            -1 + 2 * (0.1 + 0.05) + 0.3,
            "the pair of lags 4 and 5 ends it",
        ),
        ([1, -1.2, 0.9, 0.9, 0.9, 0.9, 0.9], 0.0, "the first pair is negative already"),
        ([1, 0.8, 0.5, -0.5, 0.4, 0.4, 0.4, 0.4, 0.4], -1 + 2 * 1.8 + 0.5, "a pair of zero ends the sum"),
        ([1, 0.7, 0.3, 0.2], 0.0, "the only pair is the last one"),
        ([1, 0.7, 0.3], 0.0, "the only pair is the last one"),
        ([1, 0.7], 0.0, "K = 0"),
        ([1, 0.6, -0.2, 0.5, 0.3], -1 + 2 * 1.6, "the last pair begins below zero"),
    ],
)
def test_integrated_time_by_hand(rho, expected, because):
    found = integrated_time(np.array(rho, dtype=float))
    assert_close(found, expected, f"integrated_time({rho})", f"equation (5): {because}", atol=1e-12)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.95, -0.3, -0.9])
def test_integrated_time_of_an_autoregression(phi):
    found = integrated_time(phi ** np.arange(2000.0))
    expected = (1 + phi) / (1 - phi)
    assert_close(found, expected, f"integrated_time({phi}^t)", "(1 + phi) / (1 - phi)", rtol=1e-8)


def test_integrated_time_leaves_its_argument_alone():
    rho = np.array([1, 0.4, 0.1, 0.0, 0.4, 0.2, 0.3, -0.1, -0.1, 0, 0, 0])
    before = rho.copy()
    integrated_time(rho)
    assert np.array_equal(rho, before), "integrated_time changed the autocorrelations that it was given"


@pytest.mark.given
@pytest.mark.parametrize("rho", [np.ones(1), np.ones((2, 3)), np.array([1.0, np.nan, 0.0]), np.array([1.0, np.inf])])
def test_integrated_time_refuses_what_are_no_autocorrelations(rho):
    with pytest.raises(ValueError, match="rho must"):
        integrated_time(rho)


# ess


def test_ess_is_the_number_of_arviz():
    # By ArviZ 0.8: ess(draws), method identity.
    assert_close(ess(written_out()), 89.52490706311043, "ess of 3 x 31 draws written out", "ArviZ 0.8", rtol=1e-10)
    found = ess(written_out(smooth=True))
    assert_close(found, 33.59482831961631, "ess of 3 x 29 smoothed draws written out", "ArviZ 0.8", rtol=1e-10)


@pytest.mark.parametrize(("n_chains", "n_draws"), [(1, 50), (3, 200), (8, 31)])
def test_ess_is_the_number_of_draws_over_the_integrated_time(n_chains, n_draws, rng):
    chains = autoregression(rng, 0.6, n_chains, n_draws)
    expected = n_chains * n_draws / max(integrated_time(correlations(chains)), 1 / np.log10(n_chains * n_draws))
    assert_close(ess(chains), expected, f"ess of {n_chains} chains with {n_draws} draws", "equation (6)")


@pytest.mark.parametrize("phi", [0.0, 0.8, -0.4])
def test_ess_approaches_that_of_an_autoregression(phi, rng):
    found = ess(autoregression(rng, phi, 8, 10_000, mean=-50))
    expected = 80_000 * (1 - phi) / (1 + phi)
    call = f"ess of 8 x 10000 draws of x(t) = {phi} x(t-1) + noise"
    assert_close(found, expected, call, "S (1 - phi) / (1 + phi)", rtol=0.1, tolerance="some 3 % are noise")


def test_ess_has_a_bound_for_chains_that_swing():
    swinging = np.tile([1.0, -1.0], (4, 250)) + np.linspace(0, 0.01, 500)
    expected = 2000 * np.log10(2000)
    assert_close(ess(swinging), expected, "ess of four chains that go up and down", "equation (6): S log10(S)")
    few = np.array([[1.0, 4.0], [3.0, 2.0], [0.0, 5.0]])
    assert_close(ess(few), 6 * np.log10(6), "ess of three chains with two draws", "equation (6): S log10(S)")


def test_ess_is_the_number_of_chains_where_each_is_stuck():
    stuck = np.repeat([[0.1], [0.7], [0.3], [0.35], [0.9]], 201, axis=1)
    # All correlations are 1. Of the 100 pairs up to lag 199 all but the last count, with 2 each, and 1 of the last.
    assert_close(ess(stuck), 5 * 201 / (-1 + 4 * 99 + 1), "ess of five chains that never move", "(5) with rho = 1")


def test_ess_of_equal_draws_is_unknown():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ess(np.full((3, 10), 0.1))
    assert_close(found, np.nan, "ess of 3 x 10 draws at 0.1", "its docstring")
    small = ess(written_out() * 1e-20)
    assert_close(small, ess(written_out()), "ess of draws times 1e-20", "that of the draws: units do not matter")


# bulk_ess


def test_bulk_ess_is_the_number_of_arviz():
    # By ArviZ 0.8: ess(draws), method bulk.
    found = bulk_ess(written_out())
    assert_close(found, 87.11103630730643, "bulk_ess of 3 x 31 draws written out", "ArviZ 0.8", rtol=1e-10)
    found = bulk_ess(written_out(smooth=True))
    assert_close(found, 37.23976927653517, "bulk_ess of 3 x 29 smoothed draws written out", "ArviZ 0.8", rtol=1e-10)


def test_bulk_ess_does_not_change_under_increasing_maps(rng):
    draws = autoregression(rng, 0.7, 4, 101)
    for name, changed in (("exp(draws)", np.exp(draws)), ("draws^5", draws**5)):
        assert_close(bulk_ess(changed), bulk_ess(draws), f"bulk_ess({name})", "that of the draws: ranks are the same")


def test_bulk_ess_copes_with_heavy_tails_and_sees_a_drift(rng):
    found = bulk_ess(rng.standard_cauchy((4, 1000)))
    assert 3000 < found < 5000, f"bulk_ess of 4 x 1000 independent Cauchy draws is {found:.0f}"
    drift = rng.normal(0, 1, (4, 1000)) + np.linspace(0, 10, 1000)
    found = bulk_ess(drift)
    assert found < 40, f"bulk_ess of four chains that all drift by 10 is {found:.0f}; their halves disagree"


# tail_ess


def indicators(draws, p):
    halves = in_halves(draws)
    return (halves <= np.quantile(draws, p)) * 1.0


def test_tail_ess_is_the_number_of_arviz():
    # By ArviZ 0.8: ess(draws), method tail, prob=(0.05, 0.95).
    found = tail_ess(written_out())
    assert_close(found, 57.417318858874026, "tail_ess of 3 x 31 draws written out", "ArviZ 0.8", rtol=1e-10)
    found = tail_ess(written_out(smooth=True))
    assert_close(found, 48.77110630055829, "tail_ess of 3 x 29 smoothed draws written out", "ArviZ 0.8", rtol=1e-10)


@pytest.mark.parametrize("n_draws", [60, 151])
def test_tail_ess_is_the_worse_of_both_tails(n_draws, rng):
    quiet = autoregression(rng, 0.3, 4, n_draws)
    # Large values come in long stretches, small ones one at a time: and the other way round.
    lasting = np.repeat(rng.exponential(1, (4, n_draws // 10 + 1)), 10, axis=1)[:, :n_draws]
    for name, draws in (("upper", quiet + 3 * lasting), ("lower", quiet - 3 * lasting)):
        expected = min(ess(indicators(draws, 0.05)), ess(indicators(draws, 0.95)))
        call = f"tail_ess of 4 x {n_draws} draws whose {name} tail is slow"
        assert_close(tail_ess(draws), expected, call, "(6) of halves' indicators")


def test_tail_ess_of_other_quantiles(rng):
    draws = autoregression(rng, 0.5, 3, 75)
    for p in (0.1, 0.5, 0.77):
        expected = ess(indicators(draws, p))
        assert_close(tail_ess(draws, (p,)), expected, f"tail_ess(draws, ({p},))", "(6) of halves' indicators")
    expected = min(ess(indicators(draws, p)) for p in (0.25, 0.5, 0.75))
    assert_close(tail_ess(draws, (0.25, 0.5, 0.75)), expected, "tail_ess(draws, (0.25, 0.5, 0.75))", "the least")


@pytest.mark.parametrize("where", ["at the top", "at the bottom"])
def test_tail_ess_is_unknown_where_an_indicator_is_constant(where, rng):
    draws = (rng.random((4, 100)) < (0.9 if where == "at the top" else 0.1)) * 1.0
    draws = np.where(draws == (1.0 if where == "at the top" else 0.0), draws, rng.random((4, 100)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tail_ess(draws, (0.05, 0.5, 0.95)), tail_ess(np.full((2, 9), 0.1))
    # At or below the maximum, which is the quantile of 95 %, are all draws.
    expected = np.nan if where == "at the top" else min(ess(indicators(draws, p)) for p in (0.05, 0.5, 0.95))
    assert_close(found[0], expected, f"tail_ess of draws of which 90 % are equal, {where},", "its docstring")
    assert_close(found[1], np.nan, "tail_ess of equal draws", "its docstring")


def test_tail_ess_leaves_its_draws_alone():
    draws = written_out()
    tail_ess(draws)
    assert np.array_equal(draws, written_out()), "tail_ess changed the draws that it was given"


@pytest.mark.given
@pytest.mark.parametrize("probabilities", [(), (0.0,), (0.5, 1.0), (np.nan,), (-0.1, 0.5)])
def test_tail_ess_refuses_what_are_no_probabilities(probabilities):
    with pytest.raises(ValueError, match="probabilities must"):
        tail_ess(written_out(), probabilities)


# mcse


def test_mcse_of_the_mean_is_the_number_of_arviz():
    # By ArviZ 0.8: mcse(draws), method mean.
    found = mcse(written_out())[0]
    assert_close(found, 0.36411483329523103, "mcse of 3 x 31 draws written out, [0],", "ArviZ 0.8", rtol=1e-10)
    found = mcse(written_out(smooth=True))[0]
    assert_close(found, 0.984691392550413, "mcse of 3 x 29 smoothed draws written out, [0],", "ArviZ 0.8", rtol=1e-10)


@pytest.mark.parametrize("n_draws", [50, 81])
def test_mcse_is_that_of_equations_7_and_8(n_draws, rng):
    draws = np.exp(autoregression(rng, 0.5, 4, n_draws)) + 10
    squares = (draws - draws.mean()) ** 2
    of_sd = stats.moment(draws, 4, axis=None) - draws.var() ** 2
    of_sd = np.sqrt(of_sd / (4 * draws.var() * ess(in_halves(squares))))
    found = mcse(draws)
    assert_close(found[0], draws.std(ddof=1) / np.sqrt(ess(in_halves(draws))), "mcse(draws)[0]", "equation (7)")
    assert_close(found[1], of_sd, "mcse(draws)[1]", "equation (8)")


def test_mcse_says_how_far_off_means_and_deviations_are(rng):
    runs = autoregression(rng, 0.6, 600, 400, mean=3).reshape(150, 4, 400)
    errors = np.array([mcse(run) for run in runs])
    flat = runs.reshape(150, -1)
    for name, off, error in (
        ("mean", flat.mean(axis=1) - 3, errors[:, 0]),
        ("standard deviation", flat.std(axis=1) - 1 / 0.8, errors[:, 1]),
    ):
        spread = np.sqrt(np.mean((off / error) ** 2))
        # Of 150 runs the root mean square is within 0.06 of 1, if the errors are right; these draws have 1.00 and 0.98.
        assert 0.8 < spread < 1.2, f"the {name} of 150 runs is off by {spread:.2f} times what mcse says, on average"


def test_mcse_has_the_units_of_the_draws(rng):
    draws = autoregression(rng, 0.5, 3, 60)
    expected = 50 * np.array(mcse(draws))
    assert_close(np.array(mcse(8 - 50 * draws)), expected, "mcse(8 - 50 draws)", "50 times that of the draws")


def test_mcse_of_equal_draws_is_unknown():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = np.array(mcse(np.full((3, 10), 0.1)))
    assert_close(found, np.full(2, np.nan), "mcse of 3 x 10 draws at 0.1", "its docstring")


@pytest.mark.parametrize("what", NO_DRAWS)
def test_mcse_and_bulk_ess_refuse_what_are_no_draws(what):
    for function in (bulk_ess, mcse):
        with pytest.raises(ValueError, match="draws must"):
            function(NO_DRAWS[what])


# mcse_quantile


def test_mcse_quantile_is_the_number_of_arviz():
    # By ArviZ 0.8: mcse(draws), method quantile, prob=0.3.
    found = mcse_quantile(written_out(), 0.3)
    assert_close(found, 0.5625, "mcse_quantile of 3 x 31 draws written out, 30 %,", "ArviZ 0.8", rtol=1e-10)
    found = mcse_quantile(written_out(smooth=True), 0.3)
    assert_close(found, 0.9375, "mcse_quantile of 3 x 29 smoothed draws written out, 30 %,", "ArviZ 0.8", rtol=1e-10)


@pytest.mark.parametrize("p", [0.003, 0.05, 0.4, 0.5, 0.9, 0.997])
def test_mcse_quantile_is_that_of_equation_9(p, rng):
    draws = np.exp(autoregression(rng, 0.5, 4, 75))
    size = tail_ess(draws, (p,))
    a, b = stats.beta(size * p + 1, size * (1 - p) + 1).ppf(stats.norm.cdf([-1, 1]))
    low, high = max(int(np.floor(a * 300)), 1), min(int(np.ceil(b * 300)), 300)
    ordered = np.sort(draws.ravel())
    expected = (ordered[high - 1] - ordered[low - 1]) / 2
    assert_close(mcse_quantile(draws, p), expected, f"mcse_quantile(draws, {p})", "equation (9)")


def test_mcse_quantile_of_independent_normal_draws(rng):
    found = mcse_quantile(rng.normal(0, 1, (4, 2500)), 0.5)
    expected = np.sqrt(np.pi / 2 / 10_000)
    call = "mcse_quantile of the median of 10000 normal draws"
    assert_close(found, expected, call, "the known error of a median, sqrt(pi / 2n)", rtol=0.2)


@pytest.mark.parametrize(
    "draws", [np.full((3, 10), 0.1), np.tile([0.0, 1.0, 1.0, 1.0], (3, 5))], ids=["equal", "0 1 1 1"]
)
def test_mcse_quantile_is_unknown_where_the_indicator_is_constant(draws):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = mcse_quantile(draws, 0.9)
    assert_close(found, np.nan, "mcse_quantile(draws, 0.9), where 90 % is the maximum,", "its docstring")


def test_mcse_quantile_leaves_its_draws_alone():
    draws = written_out()
    mcse_quantile(draws, 0.5)
    assert np.array_equal(draws, written_out()), "mcse_quantile changed the draws that it was given"


@pytest.mark.given
@pytest.mark.parametrize("probability", [0.0, 1.0, -0.5, np.nan])
def test_mcse_quantile_refuses_what_is_no_probability(probability):
    with pytest.raises(ValueError, match="probability must"):
        mcse_quantile(written_out(), probability)
