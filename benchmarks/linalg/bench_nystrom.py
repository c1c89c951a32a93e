"""The peers are scikit-learn's Nystroem, given the same landmarks, RBFSampler, given the same frequencies, and KernelRidge.

Run by hand it also says what the features of 20,000 samples take at most in memory, where the matrix of kernels takes 3.2 GB.
"""

import tracemalloc
from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge

from mlpath.linalg.kernel_pca import rbf_kernel
from mlpath.linalg.nystrom import fourier_features, kernel_ridge, nystrom_features, random_frequencies
from mlpath.workbench.bench import Case, close


def radial(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return rbf_kernel(x, y, 0.02)


def cases() -> Iterator[Case]:
    images, labels = load_digits(return_X_y=True)
    images = np.tile(images / 16, (3, 1))
    y = np.where(labels % 2 == 0, 1.0, -1.0)
    peer = Nystroem(gamma=0.02, n_components=300, random_state=0).fit(images[:1797])
    landmarks = peer.components_
    yield Case(
        "Nyström features of 5,391 digits, 300 landmarks",
        ours=lambda: nystrom_features(images, landmarks, radial),
        peer_name="sklearn Nystroem",
        peer=lambda: Nystroem(gamma=0.02, n_components=300, random_state=0).fit(images[:1797]).transform(images),
        check=lambda ours, theirs: close(1e-6, atol=1e-6)(ours[:200] @ ours[:200].T, theirs[:200] @ theirs[:200].T),
    )
    sampler = RBFSampler(gamma=0.02, n_components=1000, random_state=0).fit(images)
    w, b = sampler.random_weights_, sampler.random_offset_
    yield Case(
        "1,000 Fourier features of 5,391 digits",
        ours=lambda: fourier_features(images, w, b),
        peer_name="sklearn RBFSampler",
        peer=lambda: sampler.transform(images),
        check=close(1e-9, atol=1e-12),
    )
    few = images[:900]
    yield Case(
        "kernel ridge on 900 digits",
        ours=lambda: kernel_ridge(radial(few, few), y[:900], 0.1),
        peer_name="sklearn KernelRidge",
        peer=lambda: KernelRidge(alpha=0.1, kernel="rbf", gamma=0.02).fit(few, y[:900]).dual_coef_,
        check=close(1e-6, atol=1e-8),
        limit=2.5,
    )


if __name__ == "__main__":
    x = np.random.default_rng(0).normal(size=(20_000, 64))
    tracemalloc.start()
    nystrom_features(x, x[:300], radial)
    print(f"300 Nyström features of 20,000 samples: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB at most")
    tracemalloc.reset_peak()
    fourier_features(x, *random_frequencies(300, 64, 0.02, rng=np.random.default_rng(1)))
    print(f"300 Fourier features of 20,000 samples: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB at most")
