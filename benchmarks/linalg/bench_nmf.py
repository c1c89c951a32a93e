"""The peer is scikit-learn's `NMF(solver="mu")`, from the same start and for the same number of iterations. Both must come to the same
product, to 1e-6: where W H is below 1e-7, scikit-learn puts that in its place.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import random_array
from sklearn.decomposition import NMF

from mlpath.linalg.nmf import Loss, factorize
from mlpath.workbench.bench import Case, close

N_ITER = 50


def ours(a: Any, w: np.ndarray, h: np.ndarray, loss: Loss) -> np.ndarray:
    found = factorize(a, w, h, loss=loss, max_iter=N_ITER, tol=0)
    return found.w @ found.h


def peer(a: Any, w: np.ndarray, h: np.ndarray, loss: Loss) -> np.ndarray:
    name = {"frobenius": "frobenius", "kl": "kullback-leibler"}[loss]
    model = NMF(w.shape[1], init="custom", solver="mu", beta_loss=name, max_iter=N_ITER, tol=1e-300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit_transform(a, W=w.copy(), H=h.copy()) @ model.components_


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    dense = rng.gamma(1.0, size=(500, 10)) @ rng.gamma(1.0, size=(10, 400)) + rng.random((500, 400))
    sparse = random_array((2000, 3000), density=0.01, rng=rng, format="csr")
    for a, n_rows, n_cols, kind in ((dense, 500, 400, ""), (sparse, 2000, 3000, ", 1 % stored")):
        for loss in ("frobenius", "kl"):
            w, h = rng.uniform(0.5, 1.5, (n_rows, 10)), rng.uniform(0.5, 1.5, (10, n_cols))
            call: Callable[[Callable[..., np.ndarray]], Callable[[], np.ndarray]] = partial(
                partial, a=a, w=w, h=h, loss=loss
            )
            yield Case(
                f"factorize by {loss}, {n_rows:,} x {n_cols:,}{kind}, 10 parts, {N_ITER} iterations",
                ours=call(ours),
                peer_name="NMF(solver='mu')",
                peer=call(peer),
                check=close(1e-6, atol=1e-6),
                limit=1.2,
            )
