"""The peer is torch.autograd with tensors of no axes: as slow a way to use it as ours, one operation on one number at a time."""

from collections.abc import Iterator

import torch

from mlpath.calculus.autodiff.scalar import Var, backward, tanh
from mlpath.workbench.bench import Case, close


def recurrence(x, w, squash):
    """300 steps of three operations, in which both inputs are used again and again."""
    y = x
    for _ in range(300):
        y = squash(w * y + x)
    return y


def ours() -> tuple[float, float]:
    x, w = Var(0.3), Var(0.9)
    found = backward(recurrence(x, w, tanh))
    return found[x], found[w]


def peer() -> tuple[float, float]:
    x, w = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (0.3, 0.9))
    dx, dw = torch.autograd.grad(recurrence(x, w, torch.tanh), (x, w))
    return dx.item(), dw.item()


def cases() -> Iterator[Case]:
    yield Case(
        "900 operations on single numbers, and back",
        ours=ours,
        peer_name="torch.autograd",
        peer=peer,
        check=close(1e-10),
    )
