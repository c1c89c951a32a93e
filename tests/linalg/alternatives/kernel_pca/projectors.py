"""Centring by projectors, distances sample by sample, eigenvectors from an SVD."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, symmetric_matrix

Samples = Float[np.ndarray, "n_samples n_features"]
Gram = Float[np.ndarray, "n_samples n_samples"]
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _both(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return two sets of samples with the same features."""
    x, y = real_array(x, "x", ndim=2), real_array(y, "y", ndim=2)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"y must have as many features as x, {x.shape[1]}, got {y.shape[1]}")
    return x, y


def polynomial_kernel(
    x: Float[np.ndarray, "n_x n_features"],
    y: Float[np.ndarray, "n_y n_features"],
    degree: int = 1,
    gamma: float = 1.0,
    coef0: float = 0.0,
) -> Float[np.ndarray, "n_x n_y"]:
    r"""Return the polynomial kernels of all pairs of samples, equation (1). As it stands by default, the kernel is linear."""
    # given: the checks
    x, y = _both(x, y)
    if degree != int(degree) or degree < 1:
        raise ValueError(f"degree must be a whole number from 1 on, got {degree}")
    if not 0 < gamma < np.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    if not 0 <= coef0 < np.inf:
        raise ValueError(f"coef0 must be 0 or more and finite, got {coef0}")
    # yours
    products = gamma * np.einsum("if,jf->ij", x, y) + coef0
    power = products
    for _ in range(int(degree) - 1):
        power = power * products
    return power


def rbf_kernel(
    x: Float[np.ndarray, "n_x n_features"], y: Float[np.ndarray, "n_y n_features"], gamma: float = 1.0
) -> Float[np.ndarray, "n_x n_y"]:
    r"""Return the radial basis functions of all pairs of samples, equation (2)."""
    # given: the checks
    x, y = _both(x, y)
    if not 0 < gamma < np.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    # yours
    squared = np.stack([((sample - y) ** 2).sum(axis=1) for sample in x])
    return np.exp(-gamma * squared)


def centre_gram(gram: Gram) -> Gram:
    """Return the kernels of samples after their features were centred, equation (5)."""
    # given: the check
    gram = symmetric_matrix(gram, "gram")
    # yours
    n = len(gram)
    project = np.eye(n, dtype=gram.dtype) - np.full((n, n), 1 / n, dtype=gram.dtype)
    return project @ gram @ project


def centre_rows(rows: Float[np.ndarray, "n_new n_samples"], gram: Gram) -> Float[np.ndarray, "n_new n_samples"]:
    """Return the kernels of new samples with the old ones, after the features of both were shifted by the old ones' mean, (6)."""
    # given: the checks
    rows, gram = real_array(rows, "rows", ndim=2), symmetric_matrix(gram, "gram")
    if rows.shape[1] != len(gram):
        raise ValueError(f"rows must have a column for each of the {len(gram)} old samples, got {rows.shape[1]}")
    # yours
    n = len(gram)
    project = np.eye(n, dtype=gram.dtype) - np.full((n, n), 1 / n, dtype=gram.dtype)
    return (rows - gram.mean(axis=0)) @ project


class KernelPCA:
    """Principal component analysis of features that are known by their kernel, with scikit-learn's interface."""

    X_fit_: Samples
    gram_: Gram
    eigenvalues_: Float[np.ndarray, " n_components"]
    alphas_: Float[np.ndarray, "n_samples n_components"]

    def __init__(self, n_components: int | None = None, kernel: Kernel = polynomial_kernel) -> None:  # given
        self.n_components = n_components
        self.kernel = kernel

    def fit(self, X: Samples) -> "KernelPCA":
        r"""Find the axes, equations (3) to (5)."""
        # given: the checks
        X = real_array(X, "X", ndim=2)
        if len(X) < 2:
            raise ValueError(f"X must have at least 2 samples, got {len(X)}")
        gram = symmetric_matrix(self.kernel(X, X), "kernel(X, X)")
        if len(gram) != len(X):
            raise ValueError(f"kernel(X, X) must have a row for each of the {len(X)} samples, got {len(gram)}")
        bound = np.abs(gram).sum(axis=0).max()  # on the largest eigenvalue
        zero = 10 * len(gram) * np.finfo(gram.dtype).eps * bound
        # yours
        u, s, _ = np.linalg.svd(centre_gram(gram), hermitian=True)
        rank = int((s > zero).sum())
        if rank == 0 or (self.n_components is not None and not 0 < self.n_components <= rank):
            raise ValueError(f"n_components must be from 1 to {rank}, got {self.n_components}")
        kept = range(rank if self.n_components is None else self.n_components)
        columns = [u[:, k] / np.sqrt(s[k]) for k in kept]
        columns = [-column if -column.min() > column.max() else column for column in columns]
        self.alphas_, self.eigenvalues_ = np.stack(columns, axis=1), s[: len(kept)]
        self.X_fit_, self.gram_ = np.array(X), np.array(gram)
        return self

    def transform(self, X: Samples) -> Float[np.ndarray, "n_samples n_components"]:
        """Return the scores of samples, old or new, equation (6)."""
        # given: the checks
        X = real_array(X, "X", ndim=2)
        if X.shape[1] != self.X_fit_.shape[1]:
            raise ValueError(f"X must have {self.X_fit_.shape[1]} features, got {X.shape[1]}")
        # yours
        centred = centre_rows(self.kernel(X, self.X_fit_), self.gram_)
        return np.einsum("ij,jk->ik", centred, self.alphas_)
