"""Fixed steps beside torch.optim.SGD and numpy-ml's SGD. All are given the same NumPy objective and gradient, evaluate each
once a step, and must end at the same point.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from _numpy_ml import optimizers

from mlpath.optim._shared import breast_cancer, quadratic
from mlpath.optim.gradient_descent import minimize
from mlpath.workbench.bench import Case, close

STEPS = 200


def ours(problem, step_size):
    return minimize(problem.fun, problem.grad, problem.start, step_size=step_size, tol=0, max_iter=STEPS).x


def peer(problem, step_size):
    x = torch.tensor(problem.start)
    x.grad = torch.empty_like(x)
    optimizer = torch.optim.SGD([x], lr=step_size)
    for _ in range(STEPS):
        problem.fun(x.numpy())
        x.grad.copy_(torch.from_numpy(problem.grad(x.numpy())))
        optimizer.step()
    return x.numpy()


def numpy_ml(problem, step_size):
    x, optimizer = problem.start, optimizers.SGD(lr=step_size)
    for _ in range(STEPS):
        problem.fun(x)
        x = optimizer(x, problem.grad(x), "x")
    return x


def cases() -> Iterator[Case]:
    spectrum = np.geomspace(0.01, 1, 1000)
    for name, problem in (
        ("quadratic, dim 10", quadratic(spectrum[::100], rng=np.random.default_rng(0))),
        ("quadratic, dim 1000", quadratic(spectrum, rng=np.random.default_rng(0))),
        ("logistic regression, breast cancer", breast_cancer(ridge=1e-2)),
    ):
        step_size = 1 / problem.smoothness
        yield Case(
            f"{name}, {STEPS} steps",
            ours=partial(ours, problem, step_size),
            peer_name="torch.optim.SGD",
            peer=partial(peer, problem, step_size),
            check=close(1e-9, atol=1e-12),
            others={"numpy-ml SGD": partial(numpy_ml, problem, step_size)},
        )
