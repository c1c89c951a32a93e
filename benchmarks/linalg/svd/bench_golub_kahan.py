"""The peer is LAPACK's `gesdd`, by way of NumPy: it makes the matrix bidiagonal too, but in blocks, and goes on by divide and conquer.
Ours is written to be read, rotation by rotation: the note says under Cost what that means. First both must have a small
residual and orthonormal vectors.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from mlpath.linalg.svd.golub_kahan import SVD, svd
from mlpath.workbench.bench import Case

UNBLOCKED = 250.0  # no ratio to aim at: what was measured, doubled


def decomposes(a: np.ndarray) -> Callable[[object, object], None]:
    def check(ours, peer):
        for name, result in (("ours", ours), ("the peer", peer)):
            u, s, vt = (result.u, result.s, result.vt) if isinstance(result, SVD) else result
            residual = np.abs(u * s @ vt - a).max() / s[0]
            skew = max(np.abs(x.T @ x - np.eye(len(s))).max() for x in (u, vt.T))
            assert max(residual, skew) <= 1e-12, f"{name}: residual {residual:.1g}, orthogonality {skew:.1g}"

    return check


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_rows, n_cols in ((20, 10), (100, 50), (300, 100)):
        a = rng.normal(size=(n_rows, n_cols))
        yield Case(
            f"svd, {n_rows} x {n_cols}",
            ours=partial(svd, a),
            peer_name="numpy.linalg.svd",
            peer=partial(np.linalg.svd, a, full_matrices=False),
            check=decomposes(a),
            limit=UNBLOCKED,
        )
