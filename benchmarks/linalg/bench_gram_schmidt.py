"""The peer is LAPACK's QR by Householder reflections in blocks, by way of NumPy. Ours goes column by column by design, for the
reason that the note gives under Cost. First all must be equally good, as far as (8) and (9) let them: the matrices have a
condition below 10, where none of the three methods loses more than rounding.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from mlpath.linalg._shared import with_singular_values
from mlpath.linalg.gram_schmidt import (
    classical_gram_schmidt,
    loss_of_orthogonality,
    modified_gram_schmidt,
    reorthogonalised_gram_schmidt,
)
from mlpath.workbench.bench import Case

METHODS = classical_gram_schmidt, modified_gram_schmidt, reorthogonalised_gram_schmidt


def assert_factors(a: np.ndarray, result: tuple[np.ndarray, np.ndarray]) -> None:
    """Fail unless Q is orthogonal, and A - QR small, to 1e-13."""
    q, r = result
    residual = np.linalg.norm(a - q @ r) / np.linalg.norm(a)
    assert residual <= 1e-13, f"a residual of {residual:.1g}"
    assert loss_of_orthogonality(q) <= 1e-13, f"a loss of orthogonality of {loss_of_orthogonality(q):.1g}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_rows, n_cols in ((2000, 200), (400, 100), (60, 20)):
        a = with_singular_values(np.linspace(5, 1, n_cols), n_rows, rng)

        def check(ours, peer, a=a):
            assert_factors(a, ours)
            assert_factors(a, peer)

        for method in METHODS:
            yield Case(
                f"{method.__name__}, {n_rows} x {n_cols}",
                ours=partial(method, a),
                peer_name="numpy.linalg.qr",
                peer=partial(np.linalg.qr, a),
                check=check,
                limit=20,
            )
