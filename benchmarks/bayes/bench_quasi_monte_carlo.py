"""Sobol points beside SciPy's `qmc.Sobol`, unscrambled and compiled, its direction numbers included: the same points, bit for bit."""

import warnings
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.stats import qmc

from mlpath.bayes.quasi_monte_carlo import directions, sobol
from mlpath.workbench.bench import Case


def ours(n_points, dim):
    return sobol(n_points, directions(dim)) / 2**32


def peer(n_points, dim):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about numbers that are no powers of 2
        return qmc.Sobol(dim, scramble=False, bits=32).random(n_points)


def check(points, peer_points):
    np.testing.assert_array_equal(points, peer_points)


def cases() -> Iterator[Case]:
    for n_points, dim in ((2**12, 21), (2**14, 2), (2**17, 8)):
        yield Case(
            f"{n_points:,} points, {dim} dimensions",
            ours=partial(ours, n_points, dim),
            peer_name="scipy.stats.qmc.Sobol",
            peer=partial(peer, n_points, dim),
            check=check,
        )
