"""The rules beside torch.optim on one large array; the points after five steps must agree.

A pure rule returns new arrays where PyTorch overwrites its own, so part of the ratio is the allocation of memory. The
fused kernel reads and writes everything once, which NumPy cannot: there a ratio above 4 is to be expected.

numpy-ml has AdaGrad, RMSProp and Adam, timed beside the first of PyTorch's ways; it also takes the norm of each gradient, to
clip it or not. It has neither Adadelta nor AMSGrad.
"""

from collections.abc import Iterator

import numpy as np
import torch
from _numpy_ml import optimizers

from mlpath.optim.adaptive import (
    AdadeltaState,
    AdaGradState,
    AdamState,
    AMSGradState,
    RMSpropState,
    adadelta,
    adagrad,
    adam,
    amsgrad,
    at_rest,
    rmsprop,
)
from mlpath.workbench.bench import Case, close

# Ours with its state, PyTorch's, and numpy-ml's with the settings that are the defaults of the other two.
RULES = {
    "AdaGrad": (adagrad, AdaGradState, torch.optim.Adagrad, {"lr": 1e-2}, optimizers.AdaGrad(1e-2, eps=1e-10)),
    "RMSprop": (rmsprop, RMSpropState, torch.optim.RMSprop, {"lr": 1e-2}, optimizers.RMSProp(1e-2, 0.99, eps=1e-8)),
    "Adadelta": (adadelta, AdadeltaState, torch.optim.Adadelta, {"lr": 1.0}, None),
    "Adam": (adam, AdamState, torch.optim.Adam, {"lr": 1e-3}, optimizers.Adam(1e-3, eps=1e-8)),
    "AMSGrad": (amsgrad, AMSGradState, torch.optim.Adam, {"lr": 1e-3, "amsgrad": True}, None),
}
FUSED = (torch.optim.Adam, torch.optim.Adagrad)


def fifth_step(step):
    """Make four steps, so that the first call to be checked returns the point after the fifth."""
    for _ in range(4):
        step()
    return step


def ours(rule, state_type, gradient):
    x, state = np.zeros_like(gradient), at_rest(state_type, gradient)

    def step():
        nonlocal x, state
        state, update = rule(state, gradient)
        x += update
        return x

    return fifth_step(step)


def peer(optimizer, gradient, **settings):
    x = torch.zeros_like(torch.from_numpy(gradient))
    x.grad = torch.from_numpy(gradient.copy())
    optimizer = optimizer([x], **settings)

    def step():
        optimizer.step()
        return x.numpy()

    return fifth_step(step)


def numpy_ml(optimizer, gradient):
    x, optimizer = np.zeros_like(gradient), optimizer.copy()

    def step():
        nonlocal x
        x = optimizer(x, gradient, "x")
        return x

    return fifth_step(step)


def cases() -> Iterator[Case]:
    for size, dtype in ((100_000, np.float64), (1_000_000, np.float32), (1_000_000, np.float64)):
        gradient = np.random.default_rng(0).standard_normal((size // 100, 100)).astype(dtype)
        for name, (rule, state_type, optimizer, settings, educational) in RULES.items():
            kinds = {"one op at a time": {"foreach": False}, "default": {}}
            if optimizer in FUSED:
                kinds["fused"] = {"fused": True}
            for kind, how in kinds.items():
                first = kind == "one op at a time"
                yield Case(
                    f"{name}, {size:,} x {np.dtype(dtype)}",
                    ours=ours(rule, state_type, gradient),
                    peer_name=f"torch, {kind}",
                    peer=peer(optimizer, gradient, **settings, **how),
                    check=close(1e-10 if dtype == np.float64 else 1e-4, atol=1e-12 if dtype == np.float64 else 1e-6),
                    others={f"numpy-ml {name}": numpy_ml(educational, gradient)} if educational and first else {},
                )
