"""The peer is scikit-learn's `randomized_svd`, with the same oversampling, number of power iterations and QR between the
products, on a sparse matrix, on one that is mapped from a file, and on one in memory. First both must be equally good: the
same share of the matrix captured, to a per cent. The memory is measured as well: ours must not take more than 1.2
times what scikit-learn's does, by what Python's allocator has seen (the workspace inside LAPACK comes on top, for both).
"""

import tempfile
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse
from sklearn.utils.extmath import randomized_svd as peer_svd

from mlpath.linalg.randomized_svd import randomized_svd
from mlpath.workbench.bench import Case

SHAPE = (200_000, 500)
RANK, OVERSAMPLES, ITERATIONS = 10, 10, 2


def sparse(rng):
    """One entry in a hundred, in rows and columns of very different sizes, as counts of words have."""
    a = scipy.sparse.random_array(SHAPE, density=0.01, rng=rng, format="csr")
    columns = 1 / np.arange(1, SHAPE[1] + 1) ** 0.5
    return scipy.sparse.csr_array(a @ scipy.sparse.diags_array(columns))


def mapped(folder, rng):
    """Twenty patterns of falling size, and noise, in single precision in a file of 400 MB."""
    a = np.memmap(folder / "a", dtype=np.float32, mode="w+", shape=SHAPE)
    patterns = (rng.normal(size=(20, SHAPE[1])) * 0.8 ** np.arange(20)[:, None]).astype(np.float32)
    for rows in np.split(np.arange(SHAPE[0]), 100):
        weights = rng.standard_normal((len(rows), 20), dtype=np.float32)
        a[rows] = weights @ patterns + 0.1 * rng.standard_normal((len(rows), SHAPE[1]), dtype=np.float32)
    a.flush()
    return np.memmap(folder / "a", dtype=np.float32, mode="r", shape=SHAPE)


def ours(a, seed=0):
    rng = np.random.default_rng(seed)
    found = randomized_svd(a, RANK, n_oversamples=OVERSAMPLES, n_iterations=ITERATIONS, rng=rng)
    return found.u, found.s, found.vt


def peer(a, seed=0):
    return peer_svd(
        a,
        RANK,
        n_oversamples=OVERSAMPLES,
        n_iter=ITERATIONS,
        power_iteration_normalizer="QR",
        random_state=seed,
    )


def peak(call) -> float:
    """Megabytes that a call takes at most."""
    tracemalloc.start()
    call()
    taken = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return taken


def equally_good(found, expected) -> None:
    captured, other = (np.sum(s.astype(float) ** 2) for _, s, _ in (found, expected))
    assert abs(captured / other - 1) < 0.01, f"ours captures {captured:.6g}, scikit-learn's {other:.6g}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for name, a in (
            ("200,000 x 500, sparse, 1 %", sparse(rng)),
            ("200,000 x 500, float32, from a file", mapped(Path(folder), rng)),
            ("3,000 x 2,000, in memory", rng.normal(size=(3000, 2000)) @ np.diag(0.99 ** np.arange(2000.0))),
        ):
            taken = peak(partial(ours, a)), peak(partial(peer, a))
            assert taken[0] <= 1.2 * taken[1], f"{name}: ours takes {taken[0]:.0f} MB, scikit-learn's {taken[1]:.0f} MB"
            yield Case(
                f"rank {RANK} of {name}",
                ours=partial(ours, a),
                peer_name="sklearn randomized_svd",
                peer=partial(peer, a),
                check=equally_good,
                limit=1.2,
            )
