"""The peer is scipy.sparse.linalg.svds, which computes only the patterns that are kept, by Lanczos' method; ours computes all of
them and drops the rest. Both must come within 1e-8 of the best error.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse.linalg import svds
from sklearn.datasets import load_sample_image

from mlpath.linalg.truncated_svd import approximation, truncate
from mlpath.workbench.bench import Case, close


def cases() -> Iterator[Case]:
    photograph = load_sample_image("china.jpg")[:, :, 0] / 255.0

    def peer():
        u, s, vt = svds(photograph, 40, rng=np.random.default_rng(0))
        return u * s @ vt

    yield Case(
        "truncate, 427 x 640 to k = 40",
        ours=lambda: approximation(truncate(photograph, 40)),
        peer_name="scipy.sparse.linalg.svds",
        peer=peer,
        check=close(1e-8, atol=1e-8),
    )
