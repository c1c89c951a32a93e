"""The peers are numpy.gradient, with parabolas at the ends as ours, and scipy.ndimage.laplace, which has the same stencil inside
and mirrors the grid at its edges; only the inside is compared.
"""

from collections.abc import Iterator

import numpy as np
import scipy.ndimage

from mlpath.calculus.vector_calculus.derivatives import grid_laplacian, grid_partial
from mlpath.workbench.bench import Case, close


def cases() -> Iterator[Case]:
    image = np.random.default_rng(0).normal(size=(1000, 800))
    for axis in (0, 1):
        yield Case(
            f"the slope along axis {axis} of 1000 by 800 nodes",
            ours=lambda axis=axis: grid_partial(image, axis, 0.5),
            peer_name="numpy.gradient",
            peer=lambda axis=axis: np.gradient(image, 0.5, axis=axis, edge_order=2),
            check=close(1e-12, atol=1e-12),
        )
    inside = slice(1, -1)
    yield Case(
        "the Laplacian of 1000 by 800 nodes",
        ours=lambda: grid_laplacian(image, (1.0, 1.0)),
        peer_name="scipy.ndimage.laplace",
        peer=lambda: scipy.ndimage.laplace(image),
        check=lambda ours, peer: close(1e-12, atol=1e-11)(ours[inside, inside], peer[inside, inside]),
    )
