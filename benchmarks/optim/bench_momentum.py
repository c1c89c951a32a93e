"""Heavy ball and Nesterov beside torch.optim.SGD, and heavy ball beside numpy-ml's SGD, which has no Nesterov. All are given
the same NumPy objective and gradient, evaluate each once a step, and must end at the same point.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from _numpy_ml import optimizers

from mlpath.optim._shared import breast_cancer, quadratic
from mlpath.optim.momentum import minimize, optimal_coefficients
from mlpath.workbench.bench import Case, close

STEPS = 200


def ours(problem, method, step_size, momentum):
    settings = {"step_size": step_size, "momentum": momentum, "method": method}
    return minimize(problem.fun, problem.grad, problem.start, **settings, tol=0.0, max_iter=STEPS).x


def peer(problem, method, step_size, momentum):
    x = torch.tensor(problem.start)
    x.grad = torch.empty_like(x)
    optimizer = torch.optim.SGD([x], lr=step_size, momentum=momentum, nesterov=method == "nesterov")
    for _ in range(STEPS):
        problem.fun(x.numpy())
        x.grad.copy_(torch.from_numpy(problem.grad(x.numpy())))
        optimizer.step()
    return x.numpy()


def numpy_ml(problem, step_size, momentum):
    x, optimizer = problem.start, optimizers.SGD(lr=step_size, momentum=momentum)
    for _ in range(STEPS):
        problem.fun(x)
        x = optimizer(x, problem.grad(x), "x")
    return x


def cases() -> Iterator[Case]:
    spectrum = np.geomspace(0.01, 1, 1000)
    for name, problem in (
        ("dim 10", quadratic(spectrum[::100], rng=np.random.default_rng(0))),
        ("dim 1000", quadratic(spectrum, rng=np.random.default_rng(0))),
        ("breast cancer", breast_cancer(ridge=1e-2)),
    ):
        for method in ("heavy_ball", "nesterov"):
            coefficients = optimal_coefficients(problem.convexity, problem.smoothness, method)
            educational = {"numpy-ml SGD": partial(numpy_ml, problem, *coefficients)}
            yield Case(
                f"{method}, {name}, {STEPS} steps",
                ours=partial(ours, problem, method, *coefficients),
                peer_name="torch.optim.SGD",
                peer=partial(peer, problem, method, *coefficients),
                check=close(1e-7, atol=1e-9),
                others=educational if method == "heavy_ball" else {},
            )
