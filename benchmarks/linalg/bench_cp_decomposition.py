"""The peer is tensorly's `parafac` from the same start, for as many sweeps: the same errors, and the same factors up to their lengths."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from tensorly import cp_tensor
from tensorly.decomposition import parafac

from mlpath.linalg.cp_decomposition import als_sweep, reconstruct
from mlpath.workbench.bench import Case, close

SWEEPS = 20


def ours(x: np.ndarray, start: list[np.ndarray]) -> list[float]:
    factors, errors = start, []
    for _ in range(SWEEPS):
        factors, error = als_sweep(x, factors)
        errors.append(error)
    return errors


def theirs(x: np.ndarray, start: list[np.ndarray]) -> list[float]:
    first: Any = cp_tensor.CPTensor((None, [f.copy() for f in start]))
    return parafac(x, start[0].shape[1], init=first, n_iter_max=SWEEPS, tol=0, return_errors=True)[1]


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for shape, rank in (((60, 70, 80), 6), ((20, 201, 61), 3), ((200, 200, 100), 10), ((20, 25, 30, 15), 4)):
        x = reconstruct(np.ones(rank), [rng.normal(size=(size, rank)) for size in shape])
        x += 0.1 * rng.normal(size=shape)
        start = [rng.normal(size=(size, rank)) for size in shape]
        yield Case(
            f"{SWEEPS} sweeps, {rank} components of {' × '.join(map(str, shape))}",
            ours=lambda x=x, start=start: ours(x, start),
            peer_name="tensorly parafac",
            peer=lambda x=x, start=start: theirs(x, start),
            check=close(1e-9),
            limit=1.2 if len(shape) == 3 else 1.6,
        )
