"""Pareto smoothing beside ArviZ's `psislw`: the same log weights and shape, to ten digits."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from arviz_stats.base.array import array_stats

from mlpath.bayes.importance_sampling import smooth
from mlpath.workbench.bench import Case


def ours(log_weights):
    smoothed = smooth(log_weights)
    return smoothed.log_weights, smoothed.shape


def peer(log_weights):
    # It takes log likelihoods, of which the log weights are the negatives.
    return array_stats.psislw(-log_weights)


def check(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


def cases() -> Iterator[Case]:
    for n in (400, 4_000, 40_000):
        log_weights = np.random.default_rng(0).normal(0, 2, n)
        yield Case(
            f"{n:,} weights",
            ours=partial(ours, log_weights),
            peer_name="arviz_stats psislw",
            peer=partial(peer, log_weights),
            check=check,
        )
