"""The peers are scipy.differentiate's jacobian and hessian, which choose their steps until the error is small. They are given
tolerances that ours reaches with its one step: 1e-8 for first and 1e-5 for second derivatives.
"""

from collections.abc import Iterator

import numpy as np
import scipy.differentiate

from mlpath.calculus.finite_differences.gradients import hessian, jacobian
from mlpath.workbench.bench import Case, close

W = np.random.default_rng(0).normal(size=(30, 20)) / 4


def layer(x):
    return np.tanh(np.tensordot(W, x, axes=1))


def value(x):
    return (layer(x) ** 2).sum(axis=0)


def cases() -> Iterator[Case]:
    x = np.random.default_rng(1).normal(size=20)
    yield Case(
        "jacobian, 30 outputs of 20 variables",
        ours=lambda: jacobian(layer, x),
        peer_name="scipy.differentiate.jacobian",
        peer=lambda: scipy.differentiate.jacobian(layer, x, tolerances={"atol": 1e-8, "rtol": 1e-8}).df,
        check=close(1e-6, atol=1e-8),
    )
    yield Case(
        "hessian, 20 variables",
        ours=lambda: hessian(value, x),
        peer_name="scipy.differentiate.hessian",
        peer=lambda: scipy.differentiate.hessian(value, x, tolerances={"atol": 1e-5, "rtol": 1e-5}).ddf,
        check=close(1e-3, atol=1e-4),
    )
