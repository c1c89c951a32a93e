"""Training a network of widths 64, 128, 10 for one epoch; the peer is torch with its own optimiser.

Both end with the same numbers, whatever the order of the images: these are all alike.
"""

from collections.abc import Iterator

import numpy as np
import torch

from mlpath.calculus.autodiff.mlp import initialise, train
from mlpath.workbench.bench import Case, close

BATCH, N_BATCHES = 256, 20


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    # One image, repeated: shuffling changes nothing, and the work is that of any images.
    x = np.tile(rng.normal(size=(1, 64)), (BATCH * N_BATCHES, 1))
    labels = np.full(len(x), 3)
    start = initialise([64, 128, 10], rng=rng)
    images, targets = torch.tensor(x), torch.tensor(labels)

    def ours() -> np.ndarray:
        found = train(x, labels, start, n_epochs=1, batch_size=BATCH, rate=0.01, rng=np.random.default_rng(1))
        return np.concatenate([p.ravel() for p in found.parameters])

    def peer() -> np.ndarray:
        w, b, v, c = parameters = [torch.tensor(p, requires_grad=True) for p in start]
        optimiser = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
        for batch in torch.randperm(len(x)).split(BATCH):
            optimiser.zero_grad()
            z = torch.relu(images[batch] @ w + b) @ v + c
            torch.nn.functional.cross_entropy(z, targets[batch]).backward()
            optimiser.step()
        return torch.cat([p.detach().ravel() for p in parameters]).numpy()

    yield Case(
        f"{N_BATCHES} steps with batches of {BATCH}",
        ours=ours,
        peer_name="torch, SGD with momentum",
        peer=peer,
        check=close(1e-9, atol=1e-12),
        limit=3.0,
    )
