"""The peers are SciPy's: `orth` for a basis, `lstsq` for a fit, `subspace_angles` for angles. All of them decide the rank by
singular values, as ours do, and `orth` and `lstsq` take the columns as they are, without scaling them.
"""

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from mlpath.linalg.projections import least_squares_fit, orthonormal_basis, smallest_angle
from mlpath.workbench.bench import Case, close


def same_span(ours, peer):
    np.testing.assert_allclose(ours @ (ours.T @ peer), peer, rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours.T @ ours, np.eye(peer.shape[1]), rtol=0, atol=1e-12)


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_rows, n_cols in ((2_000, 20), (400, 200)):
        a, b = rng.normal(0.5, 1, (n_rows, n_cols)), rng.normal(size=n_rows)
        yield Case(
            f"orthonormal_basis, {n_rows:,} x {n_cols}",
            ours=lambda a=a: orthonormal_basis(a),
            peer_name="scipy.linalg.orth",
            peer=lambda a=a: scipy.linalg.orth(a),
            check=same_span,
            limit=1.5,
        )
        yield Case(
            f"least_squares_fit, {n_rows:,} x {n_cols}",
            ours=lambda a=a, b=b: least_squares_fit(a, b).coefficients,
            peer_name="scipy.linalg.lstsq",
            peer=lambda a=a, b=b: scipy.linalg.lstsq(a, b)[0],
            check=close(1e-9, atol=1e-11),
        )
    a, b = rng.normal(size=(2, 500, 20))
    yield Case(
        "smallest_angle, 500 x 20",
        ours=lambda: smallest_angle(a, b),
        peer_name="scipy subspace_angles",
        peer=lambda: scipy.linalg.subspace_angles(a, b).min(),
        check=close(1e-10),
        limit=1.5,
    )
