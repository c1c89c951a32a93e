"""The peer of `richardson` is scipy.differentiate.derivative: central differences of eighth order on the same halved steps, which
stops point by point. Both must find the slopes of 10,000 points to ten digits. The other two have no peer but a line of NumPy.
"""

from collections.abc import Iterator

import numpy as np
import scipy.differentiate

from mlpath.calculus.finite_differences.derivatives import richardson
from mlpath.workbench.bench import Case, close


def curve(x):
    return np.exp(np.sin(3 * x))


def derivative(x):
    return scipy.differentiate.derivative(curve, x, tolerances={"atol": 1e-11, "rtol": 1e-11}).df


def cases() -> Iterator[Case]:
    x = np.random.default_rng(0).uniform(-3, 3, 10_000)
    exact = 3 * np.cos(3 * x) * curve(x)
    for name, found in (("richardson", richardson(curve, x, 0.1, 4).derivative), ("SciPy", derivative(x))):
        error = np.abs(found - exact).max()
        assert error < 1e-9, f"{name} is off by {error:.1g}"
    yield Case(
        "richardson, 10,000 points",
        ours=lambda: richardson(curve, x, 0.1, 4).derivative,
        peer_name="scipy.differentiate.derivative",
        peer=lambda: derivative(x),
        check=close(1e-8),
    )
