"""linalg/pca beside scikit-learn: `python benchmarks/linalg/bench_pca.py`.

The peer takes the full SVD as well. That both find the same variances to 1e-10, small ones included, is checked first.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA as Peer
from sklearn.decomposition import IncrementalPCA

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _timing import compare, report

from mlpath.linalg.pca import PCA


def samples(n_samples: int, n_features: int) -> np.ndarray:
    """A cloud with deviations from 1 down to 1e-5, in general directions, away from the origin."""
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0]
    return rng.normal(size=(n_samples, n_features)) * np.geomspace(1, 1e-5, n_features) @ rotation + rng.normal(
        size=n_features
    )


def main() -> None:
    """Print one line for each shape."""
    for n_samples, n_features in ((20_000, 20), (5_000, 100), (1_000, 200), (100, 1_000)):
        X = samples(n_samples, n_features)
        ours, peer = PCA(10, whiten=True), Peer(10, whiten=True, svd_solver="full")
        gap = ours.fit(X).explained_variance_ / peer.fit(X).explained_variance_ - 1
        assert abs(gap).max() < 1e-10, f"variances differ by {abs(gap).max():.1g}"
        apart = abs(ours.transform(X)) - abs(peer.transform(X))
        assert abs(apart).max() < 1e-8, f"whitened scores differ by {abs(apart).max():.1g}"
        name = f"fit and transform, {n_samples:,} x {n_features:,}"
        times = compare(lambda X=X, m=ours: m.fit(X).transform(X), lambda X=X, m=peer: m.fit(X).transform(X))
        report(name, "PCA(svd_solver='full')", times)
    X = samples(5_000, 100)

    def update(model: PCA | IncrementalPCA) -> np.ndarray:
        for batch in np.split(X, 10):
            model.partial_fit(batch)
        return model.explained_variance_

    gap = update(PCA(20)) / update(IncrementalPCA(20)) - 1
    assert abs(gap).max() < 1e-10, f"after updates, variances differ by {abs(gap).max():.1g}"
    times = compare(lambda: update(PCA(20)), lambda: update(IncrementalPCA(20)))
    report("partial_fit, 10 batches of 500 x 100", "IncrementalPCA", times)


if __name__ == "__main__":
    main()
