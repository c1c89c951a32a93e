"""The rules beside torch.optim on one large array, after a check that five steps of both agree.

A pure rule returns new arrays where PyTorch overwrites its own, so part of the ratio is the allocation of memory. The
fused kernel reads and writes everything once, which NumPy cannot.
"""

import mlpath.workbench.threads  # noqa: F401, I001  (one thread, before numpy)
import sys
from pathlib import Path

import numpy as np
import torch

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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _timing import compare, report

torch.set_num_threads(1)
RULES = (
    ("AdaGrad", adagrad, AdaGradState, torch.optim.Adagrad, {"lr": 1e-2}),
    ("RMSprop", rmsprop, RMSpropState, torch.optim.RMSprop, {"lr": 1e-2}),
    ("Adadelta", adadelta, AdadeltaState, torch.optim.Adadelta, {"lr": 1.0}),
    ("Adam", adam, AdamState, torch.optim.Adam, {"lr": 1e-3}),
    ("AMSGrad", amsgrad, AMSGradState, torch.optim.Adam, {"lr": 1e-3, "amsgrad": True}),
)


class Ours:
    """A parameter and its rule."""

    def __init__(self, rule, state_type, gradient):
        self.x, self.rule, self.gradient = np.zeros_like(gradient), rule, gradient
        self.state = at_rest(state_type, gradient)

    def __call__(self):
        self.state, update = self.rule(self.state, self.gradient)
        self.x += update


class Peer:
    """The same in PyTorch."""

    def __init__(self, optimizer, gradient, **settings):
        self.x = torch.zeros(gradient.shape, dtype=torch.from_numpy(gradient).dtype)
        self.x.grad = torch.from_numpy(gradient.copy())
        self.step = optimizer([self.x], **settings).step

    def __call__(self):
        self.step()


for size, dtype in ((100_000, np.float64), (1_000_000, np.float32), (1_000_000, np.float64)):
    gradient = np.random.default_rng(0).standard_normal((size // 100, 100)).astype(dtype)
    for name, rule, state_type, optimizer, settings in RULES:
        kinds = {"one op at a time": {"foreach": False}, "default": {}}
        if optimizer in (torch.optim.Adam, torch.optim.Adagrad):
            kinds["fused"] = {"fused": True}
        for kind, how in kinds.items():
            ours, peer = Ours(rule, state_type, gradient), Peer(optimizer, gradient, **settings, **how)
            for _ in range(5):
                ours()
                peer()
            assert np.allclose(ours.x, peer.x.numpy(), rtol=1e-4, atol=1e-6), f"{name} and torch's {kind} disagree"
            report(f"{name}, {size:,} × {np.dtype(dtype)}", f"torch, {kind}", compare(ours, peer, repeats=40))
