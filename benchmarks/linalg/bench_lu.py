"""The peers are LAPACK's routines, by way of SciPy. They work in blocks, where ours goes one row and column at a time by design,
for the reason that the note gives under Cost. First all must be equally good: PA - LU, Ax - b and AX - I no more than rounding.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import scipy.linalg

from mlpath.linalg.lu import LU, back_substitution, inverse, lu_factor, solve
from mlpath.workbench.bench import Case


def assert_rounding(error: np.ndarray, size: np.ndarray) -> None:
    """Fail unless an error is at most 1e-13 of what was added up."""
    worst = (np.abs(error) / size).max()
    assert worst <= 1e-13, f"off by {worst:.1g} of what was added up"


def factors_of(a: np.ndarray) -> Callable[[object, object], None]:
    def check(result, _):
        if not isinstance(result, LU):  # SciPy packs both triangles into one array, and lists the exchanges of rows
            both, exchanges = result
            rows = np.arange(len(a))
            for i, j in enumerate(exchanges):
                rows[[i, j]] = rows[[j, i]]
            result = LU(np.tril(both, -1) + np.eye(len(a)), np.triu(both), rows)
        product = np.abs(result.lower) @ np.abs(result.upper)
        assert_rounding(a[result.permutation] - result.lower @ result.upper, product)

    return check


def solutions_of(a: np.ndarray, b: np.ndarray) -> Callable[[object, object], None]:
    def check(result, _):
        # Normwise, by column: the backward error of a solution.
        assert_rounding(a @ result - b, np.linalg.norm(a, np.inf) * np.abs(result).max(axis=0) + np.abs(b).max(axis=0))

    return check


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n in (100, 500, 1000):
        a = rng.normal(size=(n, n))
        yield Case(
            f"lu_factor, {n} x {n}",
            ours=partial(lu_factor, a),
            peer_name="scipy.linalg.lu_factor",
            peer=partial(scipy.linalg.lu_factor, a),
            check=factors_of(a),
            limit=40,
        )
    n = 500
    a = rng.normal(size=(n, n))
    ours, peer = lu_factor(a), scipy.linalg.lu_factor(a)
    for columns in (1, 50, 500):
        b = rng.normal(size=(n, columns))
        yield Case(
            f"solve, {n} x {n}, {columns} right-hand side{'s' * (columns > 1)}",
            ours=partial(solve, ours, b),
            peer_name="scipy.linalg.lu_solve",
            peer=partial(scipy.linalg.lu_solve, peer, b),
            check=solutions_of(a, b),
            limit=60,
        )
    triangle, b = ours.upper, rng.normal(size=(n, 50))
    yield Case(
        f"back_substitution, {n} x {n}, 50 right-hand sides",
        ours=partial(back_substitution, triangle, b),
        peer_name="scipy.linalg.solve_triangular",
        peer=partial(scipy.linalg.solve_triangular, triangle, b),
        check=solutions_of(triangle, b),
        limit=8,
    )
    yield Case(
        f"lu_factor and inverse, {n} x {n}",
        ours=lambda: inverse(lu_factor(a)),
        peer_name="scipy.linalg.inv",
        peer=partial(scipy.linalg.inv, a),
        check=solutions_of(a, np.eye(n)),
        limit=12,
    )
