"""Fixed-step gradient descent beside torch.optim.SGD, given the same gradients; both end at the same point."""

import mlpath.workbench.threads  # noqa: F401, I001  (one thread, before numpy)

import sys
from pathlib import Path

import numpy as np
import torch

from mlpath.optim._shared import breast_cancer, quadratic
from mlpath.optim.gradient_descent import minimize

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _timing import compare, report

torch.set_num_threads(1)
STEPS = 200

print("fixed steps; both are given the same NumPy objective and gradient, and evaluate each once a step")
spectrum = np.geomspace(0.01, 1, 1000)
for name, problem in (
    ("quadratic, dim 10", quadratic(spectrum[::100], rng=np.random.default_rng(0))),
    ("quadratic, dim 1000", quadratic(spectrum, rng=np.random.default_rng(0))),
    ("logistic regression, breast cancer", breast_cancer(ridge=1e-2)),
):

    def ours(problem=problem):
        return minimize(
            problem.fun, problem.grad, problem.start, step_size=1 / problem.smoothness, tol=0, max_iter=STEPS
        ).x

    def peer(problem=problem):
        x = torch.tensor(problem.start)
        x.grad = torch.empty_like(x)
        optimizer = torch.optim.SGD([x], lr=1 / problem.smoothness)
        for _ in range(STEPS):
            problem.fun(x.numpy())
            x.grad.copy_(torch.from_numpy(problem.grad(x.numpy())))
            optimizer.step()
        return x.numpy()

    assert np.allclose(ours(), peer(), rtol=1e-9, atol=1e-12), f"{name}: the two end at different points"
    report(f"{name}, {STEPS} steps", "torch.optim.SGD", compare(ours, peer))
