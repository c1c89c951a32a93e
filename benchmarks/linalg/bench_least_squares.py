"""The peers are NumPy's and SciPy's `lstsq` and NumPy's `pinv`. LAPACK's gelsd, behind `lstsq`, applies U to b without forming
it; gelsy is a QR with column pivoting. Solutions must agree to 1e-9 before anything is timed: the condition is about 5 at
most, so that all solvers are good.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy.linalg

from mlpath.linalg.least_squares import pseudo_inverse, solve_normal_equations, solve_qr, solve_svd
from mlpath.workbench.bench import Case, close


def by_svd(a, b):
    return solve_svd(a, b).x


def numpys(a, b):
    return np.linalg.lstsq(a, b, rcond=None)[0]


def scipys_qr(a, b):
    return scipy.linalg.lstsq(a, b, lapack_driver="gelsy", check_finite=True)[0]


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_rows, n_cols in ((5_000, 50), (1_000, 200)):
        a, b = rng.normal(size=(n_rows, n_cols)), rng.normal(size=(n_rows, 3))
        for name, ours, peer_name, peer in (
            ("solve_normal_equations", solve_normal_equations, "np.linalg.lstsq", numpys),
            ("solve_qr", solve_qr, "scipy.linalg.lstsq, gelsy", scipys_qr),
            ("solve_svd", by_svd, "np.linalg.lstsq", numpys),
        ):
            yield Case(
                f"{name}, {n_rows:,} x {n_cols}",
                ours=partial(ours, a, b),
                peer_name=peer_name,
                peer=partial(peer, a, b),
                check=close(1e-9, 1e-9),
            )
    a, b = rng.normal(size=(200, 1_000)), rng.normal(size=(200, 3))
    yield Case(
        "solve_svd, 200 x 1,000",
        ours=partial(by_svd, a, b),
        peer_name="np.linalg.lstsq",
        peer=partial(numpys, a, b),
        check=close(1e-9, 1e-9),
    )
    yield Case(
        "pseudo_inverse, 200 x 1,000",
        ours=partial(pseudo_inverse, a),
        peer_name="np.linalg.pinv",
        peer=partial(np.linalg.pinv, a),
        check=close(1e-9, 1e-9),
        limit=1.5,
    )
