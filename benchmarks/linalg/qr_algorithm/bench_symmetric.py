"""The peer is LAPACK's symmetric eigensolver, by way of NumPy: it reduces the matrix in blocks, and divides and
conquers instead of chasing. Here each rotation is some lines of Python: the note says what that costs. First both
must have a small residual and orthonormal vectors.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from mlpath.linalg.qr_algorithm.symmetric import Eigen, symmetric_eigen
from mlpath.workbench.bench import Case

UNBLOCKED = 400.0  # no ratio to aim at: what was measured, doubled


def decomposes(a: np.ndarray) -> Callable[[object, object], None]:
    def check(ours, peer):
        for name, result in (("ours", ours), ("the peer", peer)):
            values, vectors = (result.values, result.vectors) if isinstance(result, Eigen) else result
            residual = np.abs(a @ vectors - vectors * values).max() / np.abs(a).max()
            skew = np.abs(vectors.T @ vectors - np.eye(len(a))).max()
            assert max(residual, skew) <= 1e-12, f"{name}: residual {residual:.1g}, orthogonality {skew:.1g}"

    return check


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n in (10, 50, 150):
        a = rng.normal(size=(n, n))
        a = a + a.T
        yield Case(
            f"symmetric_eigen, {n} x {n}",
            ours=partial(symmetric_eigen, a),
            peer_name="numpy.linalg.eigh",
            peer=partial(np.linalg.eigh, a),
            check=decomposes(a),
            limit=UNBLOCKED,
        )
