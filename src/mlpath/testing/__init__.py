"""Assertions for shared tests: what was called, what came back, what was expected, and by which equation.

Numbers are compared by `assert_close`; what is random by the checks of `mlpath.testing._statistics`, of which each says how
often a right solution fails it.
"""

from mlpath.testing._compare import assert_close
from mlpath.testing._statistics import (
    StatisticalFailure,
    assert_calibrated,
    assert_distribution,
    assert_frequencies,
    assert_frequency,
    assert_mean,
    assert_same_distribution,
    assert_variance,
)

__all__ = [
    "StatisticalFailure",
    "assert_calibrated",
    "assert_close",
    "assert_distribution",
    "assert_frequencies",
    "assert_frequency",
    "assert_mean",
    "assert_same_distribution",
    "assert_variance",
]
