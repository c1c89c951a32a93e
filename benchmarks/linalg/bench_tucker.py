"""The peer is tensorly's `partial_tucker`, which starts from a HOSVD too: as many sweeps, the same errors."""

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits, load_sample_image
from tensorly.decomposition import partial_tucker

from mlpath.linalg.tucker import hooi
from mlpath.workbench.bench import Case, close

SWEEPS = 5


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    tensors = {
        "a photograph": (load_sample_image("china.jpg") / 255.0, (60, 80, 2)),
        "digits": (np.asarray(load_digits(return_X_y=True)[0]).reshape(-1, 8, 8), (30, 6, 6)),
        "noise": (rng.normal(size=(60, 70, 80)), (10, 11, 12)),
        "noise of four modes": (rng.normal(size=(20, 25, 30, 15)), (5, 6, 7, 4)),
    }
    for name, (x, ranks) in tensors.items():
        yield Case(
            f"HOSVD and {SWEEPS} sweeps, {name}: {' × '.join(map(str, x.shape))} to {' × '.join(map(str, ranks))}",
            # No gain is below 1e-300 before the errors stand still, which they do not in so few sweeps.
            ours=lambda x=x, ranks=ranks: hooi(x, ranks, tol=1e-300, max_sweeps=SWEEPS).errors[1:],
            peer_name="tensorly partial_tucker",
            peer=lambda x=x, ranks=ranks: partial_tucker(x, ranks, n_iter_max=SWEEPS, tol=0)[1],
            check=close(1e-8),
            limit=1.2,
        )
