"""AdamW, NAdam and RAdam beside torch.optim on one large array; the points after five steps must agree.

PyTorch has neither AdaBelief nor Lookahead. A pure rule returns new arrays where PyTorch overwrites its own, so part of the
ratio is the allocation of memory; the fused kernel of AdamW reads and writes everything once.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from mlpath.optim.adam_variants.decoupled import Rule, adamw, nadam, nadam_at_rest, radam
from mlpath.optim.adaptive import AdamState, at_rest
from mlpath.workbench.bench import Case, close

RULES: dict[str, tuple[Rule, Callable[..., Any], Any, dict[str, Any]]] = {
    "AdamW": (adamw, partial(at_rest, AdamState), torch.optim.AdamW, {}),
    "NAdam": (
        partial(nadam, weight_decay=0.01),
        nadam_at_rest,
        torch.optim.NAdam,
        {"weight_decay": 0.01, "decoupled_weight_decay": True},
    ),
    "RAdam": (
        partial(radam, weight_decay=0.01),
        partial(at_rest, AdamState),
        torch.optim.RAdam,
        {"weight_decay": 0.01, "decoupled_weight_decay": True},
    ),
}


def fifth_step(step):
    """Make four steps, so that the first call to be checked returns the point after the fifth."""
    for _ in range(4):
        step()
    return step


def ours(rule, start, gradient):
    x, state = np.ones_like(gradient), start(gradient)

    def step():
        nonlocal x, state
        state, update = rule(state, gradient, x)
        x += update
        return x

    return fifth_step(step)


def peer(optimizer, gradient, **settings):
    x = torch.ones_like(torch.from_numpy(gradient))
    x.grad = torch.from_numpy(gradient.copy())
    optimizer = optimizer([x], **settings)

    def step():
        optimizer.step()
        return x.numpy()

    return fifth_step(step)


def cases() -> Iterator[Case]:
    for size, dtype in ((1_000, np.float64), (100_000, np.float64), (1_000_000, np.float32)):
        gradient = np.random.default_rng(0).standard_normal(size).astype(dtype)
        for name, (rule, start, optimizer, settings) in RULES.items():
            kinds = {"one op at a time": {"foreach": False}} | ({"fused": {"fused": True}} if name == "AdamW" else {})
            for kind, how in kinds.items():
                yield Case(
                    f"{name}, {size:,} x {np.dtype(dtype)}",
                    ours=ours(rule, start, gradient),
                    peer_name=f"torch, {kind}",
                    peer=peer(optimizer, gradient, **settings, **how),
                    check=close(1e-7 if dtype == np.float64 else 1e-4),  # torch keeps NAdam's product in float32
                )
