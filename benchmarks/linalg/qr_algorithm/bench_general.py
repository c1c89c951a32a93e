"""The peer is LAPACK's real Schur form, by way of SciPy: the same algorithm with several bulges at once, in blocks.
Here each mirror is three small products in Python: the note says what that costs. First both must be
quasi-triangular, and exact up to rounding.

The first case proves more: the form of all of 200 random matrices of up to 60 rows, complex pairs included, is found
and right.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import scipy.linalg

from mlpath.linalg.qr_algorithm.general import Schur, real_schur
from mlpath.workbench.bench import Case

UNBLOCKED = 500.0  # no ratio to aim at: what was measured, doubled


def check_form(a: np.ndarray, result: object, name: str) -> bool:
    """Fail unless it is a real Schur form of `a`; return whether it has a block of two rows with a complex pair."""
    t, q = (result.t, result.q) if isinstance(result, Schur) else result
    below = np.diagonal(t, -1)
    assert not np.tril(t, -2).any(), f"{name}: not quasi-triangular"
    assert not (below[1:] * below[:-1]).any(), f"{name}: a block of three rows"
    residual = np.abs(q @ t @ q.T - a).max() / np.abs(a).max()
    skew = np.abs(q.T @ q - np.eye(len(a))).max()
    assert max(residual, skew) <= 1e-12, f"{name}: residual {residual:.1g}, orthogonality {skew:.1g}"
    half = (np.diagonal(t)[:-1] - np.diagonal(t)[1:]) / 2
    return bool((half**2 + np.diagonal(t, 1) * below < 0).any())


def check_one(a: np.ndarray) -> Callable[[object, object], None]:
    def check(ours, peer):
        check_form(a, ours, "ours")
        check_form(a, peer, "the peer")

    return check


def check_many(n_matrices: int, largest: int) -> int:
    """Check so many random matrices of 1 to `largest` rows; return how many of them have complex eigenvalues."""
    rng = np.random.default_rng(1)
    matrices = (rng.normal(size=(n, n)) for n in rng.integers(1, largest, n_matrices, endpoint=True))
    return sum(check_form(a, real_schur(a), f"random, {len(a)} x {len(a)}") for a in matrices)


def cases() -> Iterator[Case]:
    n_complex = check_many(200, 60)
    assert n_complex > 150, f"only {n_complex} of 200 random matrices have complex eigenvalues"
    rng = np.random.default_rng(0)
    for n in (10, 30, 60):
        a = rng.normal(size=(n, n))
        yield Case(
            f"real_schur, {n} x {n}",
            ours=partial(real_schur, a),
            peer_name="scipy.linalg.schur",
            peer=partial(scipy.linalg.schur, a),
            check=check_one(a),
            limit=UNBLOCKED,
        )
