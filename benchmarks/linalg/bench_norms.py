"""linalg/norms beside NumPy and SciPy: `python benchmarks/linalg/bench_norms.py`.

The peer of `l2_norm` is scipy.linalg.norm, which scales as ours does; NumPy's overflows. Both are checked against
math.hypot, near 1 and at 1e200, before they are timed. Nothing scales for the Lp norm except ours.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import math
import sys
from pathlib import Path

import numpy as np
import scipy.linalg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _timing import compare, report

from mlpath.linalg.norms import induced_norm, l1_norm, l2_norm, lp_norm, schatten_norm


def main() -> None:
    """Print one line for each norm."""
    rng = np.random.default_rng(0)
    x, a = rng.normal(size=100_000), rng.normal(size=(300, 200))
    for scale in (1.0, 1e200):
        exact = math.hypot(*(scale * x))
        for norm in (l2_norm, scipy.linalg.norm):
            error = abs(norm(scale * x) / exact - 1)
            assert error < 1e-13, f"{norm} is off by {error:.1g} at scale {scale:g}"
    pairs = [
        ("l1_norm, n = 100,000", "np.linalg.norm", lambda: l1_norm(x), lambda: np.linalg.norm(x, 1)),
        ("l2_norm, n = 100,000", "scipy.linalg.norm (scaled)", lambda: l2_norm(x), lambda: scipy.linalg.norm(x)),
        ("lp_norm, p = 3.5, n = 100,000", "np.linalg.norm", lambda: lp_norm(x, 3.5), lambda: np.linalg.norm(x, 3.5)),
        ("induced_norm, p = 1, 300 x 200", "np.linalg.norm", lambda: induced_norm(a, 1), lambda: np.linalg.norm(a, 1)),
        (
            "schatten_norm, p = 1, 300 x 200",
            "np.linalg.norm, nuclear",
            lambda: schatten_norm(a, 1),
            lambda: np.linalg.norm(a, "nuc"),
        ),
    ]
    for name, peer, ours, theirs in pairs:
        assert abs(ours() / theirs() - 1) < 1e-12, f"{name} and {peer} disagree"
        report(name, peer, compare(ours, theirs, repeats=30))


if __name__ == "__main__":
    main()
