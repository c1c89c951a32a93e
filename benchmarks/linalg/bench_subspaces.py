"""The peers of row reduction go by the SVD: they do more, and take longer. Both must find the same rank, and the same space to
1e-9, on matrices of planted rank. A change of basis is compared with LAPACK's solver, called through SciPy.
"""

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from mlpath.linalg._shared import with_singular_values
from mlpath.linalg.subspaces import change_coordinates, column_space, null_space, rank_nullity
from mlpath.workbench.bench import Case, close


def projector(columns):
    q = np.linalg.qr(columns)[0]
    return q @ q.T


def same_space(ours, peer):
    assert ours.shape == peer.shape, f"the dimensions differ: {ours.shape} and {peer.shape}"
    np.testing.assert_allclose(projector(ours), projector(peer), rtol=0, atol=1e-9)


def same_rank(ours, peer):
    assert ours == peer, f"the ranks differ: {ours} and {peer}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_rows, n_cols, rank in ((20, 30, 10), (200, 300, 100)):
        a = with_singular_values(np.geomspace(1, 0.01, rank), n_rows, rng) @ rng.normal(size=(rank, n_cols))
        size = f"{n_rows} x {n_cols} of rank {rank}"
        yield Case(
            f"rank_nullity, {size}",
            ours=lambda a=a: rank_nullity(a, 1e-12)[0],
            peer_name="np.linalg.matrix_rank (SVD)",
            peer=lambda a=a: np.linalg.matrix_rank(a, rtol=1e-12),
            check=same_rank,
            limit=20,  # singular values alone, in blocked code, against a fresh matrix for each pivot
        )
        yield Case(
            f"null_space, {size}",
            ours=lambda a=a: null_space(a, 1e-12),
            peer_name="scipy.linalg.null_space (SVD)",
            peer=lambda a=a: scipy.linalg.null_space(a, 1e-12),
            check=same_space,
        )
        yield Case(
            f"column_space, {size}",
            ours=lambda a=a: column_space(a, 1e-12),
            peer_name="scipy.linalg.orth (SVD)",
            peer=lambda a=a: scipy.linalg.orth(a, 1e-12),
            check=same_space,
        )
    old, new, c = rng.normal(size=(200, 200)), rng.normal(size=(200, 200)), rng.normal(size=(200, 100))
    yield Case(
        "change_coordinates, 100 vectors in 200 dimensions",
        ours=lambda: change_coordinates(c, old, new),
        peer_name="scipy.linalg.solve",
        peer=lambda: scipy.linalg.solve(new, old @ c),
        check=close(1e-8),
    )
