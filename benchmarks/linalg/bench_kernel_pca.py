"""The peer is scikit-learn's KernelPCA with its dense solver, which is asked for the same ten components of the digits.

LAPACK then computes only these; ours computes all and keeps ten, for which the factor 3 is allowed.
"""

from collections.abc import Iterator

import numpy as np
import sklearn.decomposition
from sklearn.datasets import load_digits

from mlpath.linalg.kernel_pca import KernelPCA, rbf_kernel
from mlpath.workbench.bench import Case, close


def radial(x, y):
    return rbf_kernel(x, y, 0.02)


def cases() -> Iterator[Case]:
    images = load_digits().data / 16
    old, new = images[:800], images[800:]
    for n_components in (10, None):
        ours = KernelPCA(n_components, kernel=radial)
        peer = sklearn.decomposition.KernelPCA(n_components, kernel="rbf", gamma=0.02, eigen_solver="dense")
        yield Case(
            f"fit to 800 digits, {n_components or 'all'} components",
            ours=lambda ours=ours: ours.fit(old).eigenvalues_[:10],
            peer_name="sklearn KernelPCA, dense",
            peer=lambda peer=peer: peer.fit(old).eigenvalues_[:10],
            check=close(1e-8),
            limit=3.0,
        )
    model = KernelPCA(10, kernel=radial).fit(old)
    other = sklearn.decomposition.KernelPCA(10, kernel="rbf", gamma=0.02, eigen_solver="dense").fit(old)
    yield Case(
        "transform 997 digits",
        ours=lambda: np.abs(model.transform(new)),
        peer_name="sklearn KernelPCA",
        peer=lambda: np.abs(other.transform(new)),
        check=close(1e-6, atol=1e-8),
    )
