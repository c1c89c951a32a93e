"""Rates asked for one step at a time, as a training loop does, beside torch's schedulers, which step once for each."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from mlpath.optim.schedules.cyclic import cyclical, one_cycle, warm_restarts
from mlpath.workbench.bench import Case, close

STEPS, RATE = 1000, 0.1


def ours(schedule: Callable[[int], float]) -> np.ndarray:
    """Return the rates of all steps."""
    return np.array([schedule(step) for step in range(STEPS)])


def peer(make: Callable) -> np.ndarray:
    """Return torch's."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    optimizer.step()
    scheduler, rates = make(optimizer), []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    return np.array(rates)


def cases() -> Iterator[Case]:
    schedulers = torch.optim.lr_scheduler
    for name, schedule, make in (
        (
            "triangles",
            partial(cyclical, low=0.01, high=RATE, n_up=50),
            partial(schedulers.CyclicLR, base_lr=0.01, max_lr=RATE, step_size_up=50, cycle_momentum=False),
        ),
        (
            "one cycle",
            partial(one_cycle, peak=RATE, n_up=300, n_steps=STEPS),
            partial(
                schedulers.OneCycleLR,
                max_lr=RATE,
                total_steps=STEPS + 1,
                pct_start=301 / (STEPS + 1),
                cycle_momentum=False,
            ),
        ),
        (
            "warm restarts",
            partial(warm_restarts, rate=RATE, first=10, growth=2),
            partial(schedulers.CosineAnnealingWarmRestarts, T_0=10, T_mult=2),
        ),
    ):
        yield Case(
            f"{name}, {STEPS} steps one by one",
            ours=partial(ours, schedule),
            peer_name="torch.optim.lr_scheduler",
            peer=partial(peer, make),
            check=close(1e-8, atol=1e-12),
        )
