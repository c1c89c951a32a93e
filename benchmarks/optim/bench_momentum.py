"""Heavy ball and Nesterov beside torch.optim.SGD, given the same gradients; both end at the same point."""

import mlpath.workbench.threads  # noqa: F401, I001  (one thread, before numpy)
import sys
from pathlib import Path

import numpy as np
import torch

from mlpath.optim._shared import breast_cancer, quadratic
from mlpath.optim.momentum import minimize, optimal_coefficients

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _timing import compare, report

torch.set_num_threads(1)
STEPS = 200

print("both are given the same NumPy objective and gradient, and evaluate each once a step")
spectrum = np.geomspace(0.01, 1, 1000)
for name, problem in (
    ("dim 10", quadratic(spectrum[::100], rng=np.random.default_rng(0))),
    ("dim 1000", quadratic(spectrum, rng=np.random.default_rng(0))),
    ("breast cancer", breast_cancer(ridge=1e-2)),
):
    for method in ("heavy_ball", "nesterov"):
        step_size, momentum = optimal_coefficients(problem.convexity, problem.smoothness, method)

        def ours(problem=problem, method=method, step_size=step_size, momentum=momentum):
            return minimize(
                problem.fun,
                problem.grad,
                problem.start,
                step_size=step_size,
                momentum=momentum,
                method=method,
                tol=0.0,
                max_iter=STEPS,
            ).x

        def peer(problem=problem, method=method, step_size=step_size, momentum=momentum):
            x = torch.tensor(problem.start)
            x.grad = torch.empty_like(x)
            optimizer = torch.optim.SGD([x], lr=step_size, momentum=momentum, nesterov=method == "nesterov")
            for _ in range(STEPS):
                problem.fun(x.numpy())
                x.grad.copy_(torch.from_numpy(problem.grad(x.numpy())))
                optimizer.step()
            return x.numpy()

        assert np.allclose(ours(), peer(), rtol=1e-7, atol=1e-9), f"{name}, {method}: the two end at different points"
        report(f"{method}, {name}, {STEPS} steps", "torch.optim.SGD", compare(ours, peer))
