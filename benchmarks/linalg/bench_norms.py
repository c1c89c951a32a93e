"""The peer of `l2_norm` is scipy.linalg.norm, which scales as ours does; NumPy's overflows. Both are first checked against
math.hypot, near 1 and at 1e200. Nothing scales for the Lp norm except ours.

numpy-ml has distances, of which the norm is the one to the origin. Its Euclidean distance overflows at 1e200, so it has no
place in the table.
"""

import math
from collections.abc import Iterator

import numpy as np
import scipy.linalg
from _numpy_ml import distance_metrics

from mlpath.linalg.norms import induced_norm, l1_norm, l2_norm, lp_norm, schatten_norm
from mlpath.workbench.bench import Case, close


def assert_right_at_all_scales(norm, x):
    for scale in (1.0, 1e200):
        error = abs(norm(scale * x) / math.hypot(*(scale * x)) - 1)
        assert error < 1e-13, f"{norm} is off by {error:.1g} at scale {scale:g}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    x, a = rng.normal(size=100_000), rng.normal(size=(300, 200))
    assert_right_at_all_scales(l2_norm, x)
    assert_right_at_all_scales(scipy.linalg.norm, x)
    yield Case(
        "l1_norm, n = 100,000",
        ours=lambda: l1_norm(x),
        peer_name="np.linalg.norm",
        peer=lambda: np.linalg.norm(x, 1),
        check=close(1e-12),
        others={"numpy-ml manhattan": lambda: distance_metrics.manhattan(x, 0.0)},
    )
    yield Case(
        "l2_norm, n = 100,000",
        ours=lambda: l2_norm(x),
        peer_name="scipy.linalg.norm (scaled)",
        peer=lambda: scipy.linalg.norm(x),
        check=close(1e-12),
    )
    yield Case(
        "lp_norm, p = 3.5, n = 100,000",
        ours=lambda: lp_norm(x, 3.5),
        peer_name="np.linalg.norm",
        peer=lambda: np.linalg.norm(x, 3.5),
        check=close(1e-12),
        others={"numpy-ml minkowski": lambda: distance_metrics.minkowski(x, 0.0, 3.5)},
    )
    yield Case(
        "induced_norm, p = 1, 300 x 200",
        ours=lambda: induced_norm(a, 1),
        peer_name="np.linalg.norm",
        peer=lambda: np.linalg.norm(a, 1),
        check=close(1e-12),
    )
    yield Case(
        "schatten_norm, p = 1, 300 x 200",
        ours=lambda: schatten_norm(a, 1),
        peer_name="np.linalg.norm, nuclear",
        peer=lambda: np.linalg.norm(a, "nuc"),
        check=close(1e-12),
    )
