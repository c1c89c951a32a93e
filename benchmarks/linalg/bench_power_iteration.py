"""The peer is ARPACK's Lanczos iteration, by way of SciPy, for the eigenpair of largest modulus. Where there is a gap, power
iteration keeps up with it; where there is none, Lanczos needs far fewer products, for the reason that the note gives under
Cost. First both must be equally good: the same backward error.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import scipy.sparse.linalg

from mlpath.linalg.power_iteration import Eigenpair, power_iteration
from mlpath.workbench.bench import Case


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n, ratio in ((200, 0.5), (1000, 0.5), (1000, 0.9)):
        vectors = np.linalg.qr(rng.normal(size=(n, n)))[0]
        a = vectors * np.r_[1.0, rng.uniform(-ratio, ratio, n - 2), ratio] @ vectors.T
        a, start = (a + a.T) / 2, rng.normal(size=n)

        def check(ours, peer, a=a):
            for result in (ours, peer):
                if isinstance(result, Eigenpair):
                    value, vector = result.value, result.vector
                else:
                    value, vector = result[0][0], result[1][:, 0]
                error = np.linalg.norm(a @ vector - value * vector) / np.linalg.norm(a)
                assert error <= 1e-11, f"a backward error of {error:.1g}"
                assert abs(value - 1) <= 1e-11, f"the eigenvalue {value}"

        yield Case(
            f"power_iteration, {n} x {n}, ratio {ratio}",
            ours=partial(power_iteration, a, start),
            peer_name="scipy.sparse.linalg.eigsh, k = 1",
            peer=partial(scipy.sparse.linalg.eigsh, a, k=1, v0=start),
            check=check,
            limit=20,
        )
