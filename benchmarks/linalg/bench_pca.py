"""The peer is scikit-learn's, which takes the full SVD as well. Both must find the same variances to 1e-10, small ones
included, and the same whitened scores up to their signs. numpy-ml has no PCA.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.decomposition import PCA as Peer
from sklearn.decomposition import IncrementalPCA

from mlpath.linalg.pca import PCA
from mlpath.workbench.bench import Case, close


def samples(n_samples, n_features):
    """A cloud with deviations from 1 down to 1e-5, in general directions, away from the origin."""
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    cloud = rng.normal(size=(n_samples, n_features)) * np.geomspace(1, 1e-5, n_features) @ rotation
    return cloud + rng.normal(size=n_features)


def fit_transform(model, X):
    scores = model.fit(X).transform(X)
    return model.explained_variance_, scores


def same_variances_and_scores(ours, peer):
    np.testing.assert_allclose(ours[0], peer[0], rtol=1e-10)
    np.testing.assert_allclose(abs(ours[1]), abs(peer[1]), rtol=0, atol=1e-8)


def update(make, batches):
    model = make(20)
    for batch in batches:
        model.partial_fit(batch)
    return model.explained_variance_


def cases() -> Iterator[Case]:
    for n_samples, n_features in ((20_000, 20), (5_000, 100), (1_000, 200), (100, 1_000)):
        X = samples(n_samples, n_features)
        yield Case(
            f"fit and transform, {n_samples:,} x {n_features:,}",
            ours=partial(fit_transform, PCA(10, whiten=True), X),
            peer_name="PCA(svd_solver='full')",
            peer=partial(fit_transform, Peer(10, whiten=True, svd_solver="full"), X),
            check=same_variances_and_scores,
            limit=1.5,
        )
    batches = np.split(samples(5_000, 100), 10)
    yield Case(
        "partial_fit, 10 batches of 500 x 100",
        ours=partial(update, PCA, batches),
        peer_name="IncrementalPCA",
        peer=partial(update, IncrementalPCA, batches),
        check=close(1e-10),
        limit=1.5,
    )
