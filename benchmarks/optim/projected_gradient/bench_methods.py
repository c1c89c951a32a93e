"""Projected gradient on least squares in a box beside SciPy's lsq_linear, which solves it by a trust region method with
second derivatives: both must reach the same value to seven digits.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import lsq_linear

from mlpath.optim.projected_gradient.methods import projected_gradient
from mlpath.workbench.bench import Case


def ours(a, b, low, high):
    gram, right = a.T @ a, a.T @ b
    step_size = 1 / np.linalg.norm(gram, 2)

    def fun(x):
        return float(x @ (gram @ x) / 2 - right @ x)

    def grad(x):
        return gram @ x - right

    def project(x):
        return np.minimum(np.maximum(x, low), high)

    return projected_gradient(fun, grad, project, np.zeros(a.shape[1]), step_size=step_size, tol=1e-4, max_iter=5000).x


def peer(a, b, low, high):
    return lsq_linear(a, b, bounds=(low, high), tol=1e-10).x


def check(a, b, x, theirs):
    values = [((a @ solution - b) ** 2).sum() for solution in (x, theirs)]
    assert values[0] <= values[1] * (1 + 1e-7), f"ours {values[0]}, SciPy's {values[1]}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_samples, dim in ((200, 20), (1000, 100), (2000, 400)):
        a, b = rng.standard_normal((n_samples, dim)), 5 * rng.standard_normal(n_samples)
        yield Case(
            f"{n_samples} x {dim}",
            ours=partial(ours, a, b, -0.1, 0.1),
            peer_name="scipy.optimize.lsq_linear",
            peer=partial(peer, a, b, -0.1, 0.1),
            check=partial(check, a, b),
        )
