"""Rates asked for one step at a time, as a training loop does, beside torch's schedulers, which step once for each."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from mlpath.optim.schedules.decaying import cosine_decay, exponential_decay, polynomial_decay
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
            "exponential",
            partial(exponential_decay, rate=RATE, factor=0.99),
            partial(schedulers.ExponentialLR, gamma=0.99),
        ),
        (
            "polynomial",
            partial(polynomial_decay, rate=RATE, n_steps=STEPS, power=2.0),
            partial(schedulers.PolynomialLR, total_iters=STEPS, power=2.0),
        ),
        ("cosine", partial(cosine_decay, rate=RATE, n_steps=STEPS), partial(schedulers.CosineAnnealingLR, T_max=STEPS)),
    ):
        yield Case(
            f"{name}, {STEPS} steps one by one",
            ours=partial(ours, schedule),
            peer_name="torch.optim.lr_scheduler",
            peer=partial(peer, make),
            check=close(1e-8, atol=1e-12),
        )
