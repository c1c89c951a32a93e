"""Pareto smoothing beside ArviZ, for developers: the learners' tests do without it."""

import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from mlpath.bayes.importance_sampling import smooth


@pytest.mark.parametrize("n", [30, 100, 225, 226, 1000, 5000])
@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("shift", [0.0, 800.0, -800.0])
def test_smooth_agrees_with_arviz(n, spread, shift):
    log_weights = np.random.default_rng(n).normal(shift, spread, n)
    # ArviZ takes log likelihoods, of which the log weights are the negatives.
    expected, shape = array_stats.psislw(-log_weights)
    smoothed = smooth(log_weights)
    np.testing.assert_allclose(smoothed.log_weights, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(smoothed.shape, shape, rtol=0, atol=1e-10)


def test_smooth_agrees_with_arviz_on_heavy_tails():
    rng = np.random.default_rng(0)
    for shape in (0.2, 0.7, 1.5):
        log_weights = shape * rng.standard_exponential(2000)
        expected, k = array_stats.psislw(-log_weights)
        smoothed = smooth(log_weights)
        np.testing.assert_allclose(smoothed.log_weights, expected, rtol=0, atol=1e-10)
        assert abs(smoothed.shape - k) < 1e-10
