"""The peers are scikit-learn's linear kernel for Gram matrices, SciPy's cosine distance for angles, whose arc cosine is right
to 1e-8 only near 0 and near pi, and which overflows, and SciPy's least squares for projections. SciPy's Mahalanobis distance trusts its weight, whereas
`weighted_norm` makes sure that it is positive definite and factorises it: the note says what that costs.
"""

from collections.abc import Iterator

import numpy as np
import scipy.linalg
import scipy.spatial.distance
from sklearn.metrics.pairwise import linear_kernel

from mlpath.linalg.inner_products import angle, gram_matrix, orthogonal_projection, weighted_norm
from mlpath.workbench.bench import Case, close


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 200))
    yield Case(
        "gram_matrix, 500 vectors of 200 entries",
        ours=lambda: gram_matrix(vectors),
        peer_name="linear_kernel",
        peer=lambda: linear_kernel(vectors),
        check=close(1e-10, atol=1e-12),
        limit=1.5,
    )
    x, y = rng.normal(size=(2, 100_000))
    yield Case(
        "angle, n = 100,000",
        ours=lambda: angle(x, y),
        peer_name="arccos of SciPy's cosine",
        peer=lambda: np.arccos(1 - scipy.spatial.distance.cosine(x, y)),
        check=close(1e-10),
        limit=20.0,
    )
    point, spanning = rng.normal(size=500), rng.normal(size=(50, 500))
    columns = spanning.T
    yield Case(
        "orthogonal_projection, 50 vectors of 500 entries",
        ours=lambda: orthogonal_projection(point, spanning),
        peer_name="scipy.linalg.lstsq",
        peer=lambda: columns @ scipy.linalg.lstsq(columns, point)[0],
        check=close(1e-10, atol=1e-12),
        limit=2.0,
    )
    factor = rng.normal(size=(50, 60))
    weight = factor @ factor.T
    difference = rng.normal(size=50)
    yield Case(
        "weighted_norm, n = 50",
        ours=lambda: weighted_norm(difference, weight),
        peer_name="scipy mahalanobis",
        peer=lambda: scipy.spatial.distance.mahalanobis(difference, np.zeros(50), weight),
        check=close(1e-10),
        limit=60.0,
    )
