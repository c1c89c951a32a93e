"""The peer is ARPACK's implicitly restarted Lanczos, by way of SciPy, with the same operators and tolerance. `eigsh` keeps
its memory small by restarts, for which it pays in products; ours keeps the whole basis. First both must have found
the same eigenvalues, with residuals below the tolerance. The grid of 200,000 nodes is also where the memory is measured: 100
steps of `lanczos` without a matrix must not take more than 1.15 times what their basis needs.
"""

import tracemalloc
from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from mlpath.linalg.lanczos import MatrixFree, extreme_eigenpairs, grid_laplacian, lanczos
from mlpath.workbench.bench import Case

SHAPE = (400, 500)
TOL = 1e-9


def grid(n_rows, n_cols):
    """The sparse Laplacian of a grid."""
    paths = []
    for n in (n_rows, n_cols):
        ones = np.ones(n - 1)
        paths.append(scipy.sparse.diags_array([np.r_[1.0, np.full(n - 2, 2.0), 1.0], -ones, -ones], offsets=[0, 1, -1]))
    return scipy.sparse.csr_array(scipy.sparse.kronsum(paths[1], paths[0]))


def hubs(n, degree, rng):
    """The adjacency matrix of a graph with a few hubs: a new node prefers those that have many neighbours."""
    ends = np.repeat(np.arange(n), degree)
    targets = (ends * rng.random(len(ends)) ** 2).astype(int)
    a = scipy.sparse.coo_array((np.ones(len(ends)), (ends, targets)), shape=(n, n)).tocsr()
    a.data[:] = 1
    return scipy.sparse.csr_array(a + a.T)


def measured_memory():
    """Peak bytes of 100 steps on the grid, and the bytes of their basis."""
    n = SHAPE[0] * SHAPE[1]
    operator, start = MatrixFree(partial(grid_laplacian, shape=SHAPE), n), np.random.default_rng(0).normal(size=n)
    tracemalloc.start()
    lanczos(operator, start, 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, 8 * n * 101


def cases() -> Iterator[Case]:
    peak, basis = measured_memory()
    assert peak <= 1.15 * basis, f"100 steps on the grid took {peak / 1e6:.0f} MB, their basis {basis / 1e6:.0f} MB"
    rng = np.random.default_rng(0)
    n = SHAPE[0] * SHAPE[1]
    laplacian = grid(*SHAPE)
    factors = scipy.sparse.linalg.splu((laplacian + 0.01 * scipy.sparse.eye_array(n)).tocsc())
    inverse = scipy.sparse.linalg.LinearOperator((n, n), matvec=factors.solve, dtype=float)
    dense = rng.normal(size=(1500, 1500)) / 1500**0.5
    dense = dense + dense.T + 3 * np.outer(rng.normal(size=1500), np.ones(1500)) / 1500
    dense = (dense + dense.T) / 2
    for name, operator, k in (
        ("a graph of 200,000 nodes with hubs", hubs(200_000, 5, rng), 6),
        ("inverse of a shifted 400 x 500 grid Laplacian", inverse, 6),
        ("a dense 1,500 x 1,500 matrix", dense, 4),
    ):
        start = rng.normal(size=operator.shape[0])

        def ours(operator=operator, k=k):
            found = extreme_eigenpairs(operator, k, rng=np.random.default_rng(1), tol=TOL, max_steps=1000)
            assert found.converged, f"the residuals are {found.residuals}"
            return found.values, found.vectors

        def check(found, peer, operator=operator):
            values, vectors = found
            np.testing.assert_allclose(np.sort(values), np.sort(peer[0]), rtol=1e-8)
            products = np.column_stack([operator @ v for v in vectors.T])
            residuals = np.linalg.norm(products - vectors * values, axis=0)
            assert (residuals <= 2 * TOL * values.max()).all(), f"residuals of {residuals}"

        yield Case(
            f"{k} largest eigenpairs of {name}",
            ours=ours,
            peer_name="scipy.sparse.linalg.eigsh",
            peer=partial(scipy.sparse.linalg.eigsh, operator, k=k, which="LA", v0=start, tol=TOL),
            check=check,
            limit=2,
        )
