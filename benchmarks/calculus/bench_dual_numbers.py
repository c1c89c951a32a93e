"""The peer is torch.func, in double precision as ours: forward mode over the reverse mode of the same network. The network has
64-128-10 units of tanh, its inputs are 256 digits, and its loss is differentiated by the 8,192 weights of its first layer.
"""

from collections.abc import Iterator

import numpy as np
import torch
from sklearn.datasets import load_digits

from mlpath.calculus.dual_numbers import Layer, hessian_vector_product, jvp, run, vjp
from mlpath.workbench.bench import Case, close


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    data, targets = images[:256] / 16, np.eye(10)[labels[:256]]
    second, x, v = rng.normal(size=(128, 10)) / 11, rng.normal(size=(64, 128)) / 8, rng.normal(size=(64, 128))
    layers = [
        Layer(lambda z: data @ z, lambda z, w: data.T @ w),
        Layer(np.tanh, lambda z, w: (1 - np.tanh(z) ** 2) * w),
        Layer(lambda z: z @ second - targets, lambda z, w: w @ second.T),
        Layer(lambda z: (z * z).sum(), lambda z, w: 2 * z * w),
    ]
    d, s, t, p, q = (torch.from_numpy(a) for a in (data, second, targets, x, v))

    def loss(weights: torch.Tensor) -> torch.Tensor:
        return ((torch.tanh(d @ weights) @ s - t) ** 2).sum()

    def numbers(pair: tuple[torch.Tensor, torch.Tensor]) -> np.ndarray:
        return pair[1].numpy()

    yield Case(
        "a JVP of the loss",
        ours=lambda: jvp(lambda z: run(layers, z), x, v)[1],
        peer_name="torch.func.jvp",
        peer=lambda: numbers(torch.func.jvp(loss, (p,), (q,))),
        check=close(1e-9),
    )
    yield Case(
        "its gradient",
        ours=lambda: vjp(layers, x, 1.0)[1],
        peer_name="torch.func.grad",
        peer=lambda: torch.func.grad(loss)(p).numpy(),
        check=close(1e-9),
    )
    yield Case(
        "its Hessian times a vector",
        ours=lambda: hessian_vector_product(layers, x, v)[1],
        peer_name="torch.func.jvp of grad",
        peer=lambda: numbers(torch.func.jvp(torch.func.grad(loss), (p,), (q,))),
        check=close(1e-9),
    )
