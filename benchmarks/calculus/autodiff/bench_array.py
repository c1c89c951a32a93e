"""Value and gradient of the loss of a network with 64 inputs, 128 hidden units and 10 classes; the peer is torch.autograd."""

from collections.abc import Iterator

import numpy as np
import torch

from mlpath.calculus.autodiff.array import log_sum_exp, relu, value_and_grad
from mlpath.workbench.bench import Case, close


def case(batch: int, dtype: type) -> Case:
    rng = np.random.default_rng(0)
    x, labels, rows = rng.normal(size=(batch, 64)).astype(dtype), rng.integers(10, size=batch), np.arange(batch)
    shapes = (64, 128), (128,), (128, 10), (10,)
    start = [(rng.normal(size=shape) / np.sqrt(shape[0])).astype(dtype) for shape in shapes]
    images, targets = torch.tensor(x), torch.tensor(labels)
    w, b, v, c = parameters = [torch.tensor(array, requires_grad=True) for array in start]

    def loss(w, b, v, c):
        z = relu(x @ w + b) @ v + c
        return (log_sum_exp(z, axis=1) - z[rows, labels]).mean()

    def ours() -> np.ndarray:
        return np.concatenate([gradient.ravel() for gradient in value_and_grad(loss)(*start)[1]])

    def peer() -> np.ndarray:
        value = torch.nn.functional.cross_entropy(torch.relu(images @ w + b) @ v + c, targets)
        return torch.cat([gradient.ravel() for gradient in torch.autograd.grad(value, parameters)]).numpy()

    name, digits = np.dtype(dtype).name, float(np.finfo(dtype).eps)
    return Case(
        f"a batch of {batch}, {name}",
        ours=ours,
        peer_name="torch.autograd",
        peer=peer,
        check=close(1e4 * digits, atol=100 * digits),
        limit=3.0,
    )


def cases() -> Iterator[Case]:
    yield case(256, np.float64)
    yield case(256, np.float32)
    yield case(32, np.float64)
