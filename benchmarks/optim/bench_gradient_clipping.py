"""The peers are torch.nn.utils.clip_grad_norm_ and clip_grad_value_, which write into the parameters' gradients; here they
get them copied, as ours are new tensors.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from mlpath.optim.gradient_clipping import clip_by_norm, clip_by_value
from mlpath.workbench.bench import Case, close


def cases() -> Iterator[Case]:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    shapes = [(512, 256), (512,), (512, 512), (512,), (10, 512), (10,)]
    gradients = [torch.randn(shape, generator=generator) for shape in shapes]
    parameters = [torch.zeros(shape).requires_grad_() for shape in shapes]

    def flat(tensors: list[torch.Tensor]) -> np.ndarray:
        return torch.cat([tensor.reshape(-1) for tensor in tensors]).numpy()

    def peer(clip: str) -> np.ndarray:
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient.clone()
        clip_grad_norm_(parameters, 1.0) if clip == "norm" else clip_grad_value_(parameters, 0.5)
        return flat([p.grad for p in parameters if p.grad is not None])

    yield Case(
        "clip_by_norm, 400,000 weights",
        ours=lambda: flat(clip_by_norm(gradients, 1.0)[0]),
        peer_name="torch clip_grad_norm_",
        peer=lambda: peer("norm"),
        check=close(1e-5),
    )
    yield Case(
        "clip_by_value, 400,000 weights",
        ours=lambda: flat(clip_by_value(gradients, 0.5)),
        peer_name="torch clip_grad_value_",
        peer=lambda: peer("value"),
        check=close(1e-6),
    )
