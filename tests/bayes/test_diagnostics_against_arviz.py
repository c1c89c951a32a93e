"""The diagnostics beside those of ArviZ, on the same draws. For developers: learners do not need ArviZ."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from mlpath.bayes.diagnostics.effective_sample_size import bulk_ess, ess, mcse, mcse_quantile, tail_ess
from mlpath.bayes.diagnostics.r_hat import r_hat
from mlpath.testing import assert_close

AXES = {"chain_axis": 0, "draw_axis": 1}


def draws_of(name, rng):
    """Draws of many kinds: few and many chains, odd and even numbers, trends, ties, heavy tails, swings, a stuck chain."""
    x = rng.standard_normal((4, 301))
    if name == "two chains":
        return x[:2]
    if name == "eight short chains":
        return rng.standard_normal((8, 24))
    if name == "slow":
        for t in range(1, 301):
            x[:, t] += 0.95 * x[:, t - 1]
    if name == "swinging":
        for t in range(1, 301):
            x[:, t] -= 0.7 * x[:, t - 1]
    if name == "drifting":
        x += np.linspace(0, 3, 301)
    if name == "one shifted":
        x[2] += 2
    if name == "one wide":
        x[1] *= 3
    if name == "one stuck":
        x[3] = 0.1
    if name == "Cauchy":
        return rng.standard_cauchy((4, 1000))
    if name == "rounded":
        return x.round(1)
    if name == "counts":
        return rng.poisson(3, (5, 400)).astype(float)
    if name == "far from zero":
        return 1e6 + x
    return x


NAMES = [
    "independent",
    "two chains",
    "eight short chains",
    "slow",
    "swinging",
    "drifting",
    "one shifted",
    "one wide",
    "one stuck",
    "Cauchy",
    "rounded",
    "counts",
    "far from zero",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_all_numbers_are_those_of_arviz(name, seed):
    draws = draws_of(name, np.random.default_rng(seed))
    for ours, of, theirs in (
        (r_hat(draws), "r_hat", array_stats.rhat(draws, **AXES)),
        (bulk_ess(draws), "bulk_ess", array_stats.ess(draws, **AXES, method="bulk")),
        (ess(draws), "ess", array_stats.ess(draws, **AXES, method="identity")),
        (tail_ess(draws), "tail_ess", array_stats.ess(draws, **AXES, method="tail", prob=(0.05, 0.95))),
        (tail_ess(draws, (0.5,)), "tail_ess at 50 %", array_stats.ess(draws, **AXES, method="median")),
        (mcse(draws)[0], "mcse[0]", array_stats.mcse(draws, **AXES, method="mean")),
        (mcse_quantile(draws, 0.1), "mcse_quantile", array_stats.mcse(draws, **AXES, method="quantile", prob=0.1)),
    ):
        # Far from zero the mean takes seven of sixteen digits away, and what is squared another few.
        assert_close(ours, float(theirs), f"{of} of draws, {name}", "ArviZ", rtol=1e-10 if "far" not in name else 1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_the_error_of_the_standard_deviation_has_the_sample_size_of_squares(name):
    draws = draws_of(name, np.random.default_rng(7))
    # ArviZ 0.8 takes the sample size of the mean; it computes that of the squared deviations as method sd.
    theirs = array_stats.mcse(draws, **AXES, method="sd")
    theirs *= np.sqrt(array_stats.ess(draws, **AXES, method="mean") / array_stats.ess(draws, **AXES, method="sd"))
    assert_close(
        mcse(draws)[1], float(theirs), f"mcse[1] of draws, {name}", "ArviZ", rtol=1e-10 if "far" not in name else 1e-6
    )
