"""The peer is SciPy's QR, which is LAPACK's: blocked, where ours applies mirror after mirror by design. Both results must
be a triangle with the same absolute values, and both factors of Q must be orthonormal to rounding. numpy-ml has no QR.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy.linalg

from mlpath.linalg.householder_qr import apply_q_transpose, form_qr, givens_qr, householder_qr
from mlpath.workbench.bench import Case, close


def same_triangle(ours, peer):
    np.testing.assert_allclose(abs(ours), abs(peer), rtol=0, atol=1e-9)


def same_factors(ours, peer):
    for q, r in (ours, peer):
        assert abs(q.T @ q - np.eye(q.shape[1])).max() < 1e-12
        assert not np.tril(r, -1).any()
    np.testing.assert_allclose(abs(ours[1]), abs(peer[1]), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours[0] @ ours[1], peer[0] @ peer[1], rtol=0, atol=1e-9)


def triangle(a):
    return householder_qr(a).r


def peer_triangle(a):
    return scipy.linalg.qr(a, mode="raw")[1]


def economy(a):
    return form_qr(householder_qr(a))


def full(a):
    factors = givens_qr(a)
    return factors.q, factors.r


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_rows, n_cols in ((2_000, 50), (500, 300), (300, 500)):
        a = rng.normal(size=(n_rows, n_cols))
        yield Case(
            f"householder_qr, {n_rows:,} x {n_cols}",
            ours=partial(triangle, a),
            peer_name="scipy.linalg.qr, raw",
            peer=partial(peer_triangle, a),
            check=same_triangle,
            limit=20.0,  # unblocked by design, as the note says under Cost
        )
        yield Case(
            f"householder_qr and form_qr, {n_rows:,} x {n_cols}",
            ours=partial(economy, a),
            peer_name="scipy.linalg.qr, economic",
            peer=partial(scipy.linalg.qr, a, mode="economic"),
            check=same_factors,
            limit=30.0,
        )
    a, b = rng.normal(size=(500, 300)), rng.normal(size=(500, 20))
    factors, raw = householder_qr(a), scipy.linalg.qr(a, mode="raw")[0]
    ormqr = scipy.linalg.get_lapack_funcs("ormqr", (raw[0],))
    yield Case(
        "apply_q_transpose, 300 mirrors, 20 right-hand sides",
        ours=lambda: abs(apply_q_transpose(factors, b)[:300]),
        peer_name="LAPACK ormqr",
        peer=lambda: abs(ormqr("L", "T", raw[0], raw[1], b, lwork=32 * 500)[0][:300]),
        check=close(1e-9, 1e-9),
        limit=30.0,
    )
    a = rng.normal(size=(60, 40))
    yield Case(
        "givens_qr, 60 x 40",
        ours=partial(full, a),
        peer_name="scipy.linalg.qr, full",
        peer=partial(scipy.linalg.qr, a),
        check=same_factors,
        limit=500.0,  # one small step in Python for each of 1,580 entries
    )
