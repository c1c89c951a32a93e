"""An update that keeps all samples and starts afresh: slow and hungry, but right, and exact with few axes too."""

import numpy as np


def fix_signs(axes):
    rows = np.arange(len(axes))
    peaks = axes[rows, np.abs(axes).argmax(axis=1)]
    return axes * np.where(peaks < 0, -1, 1).astype(axes.dtype)[:, None]


def check_samples(X, *, min_samples=1, n_features=None):
    array = np.asarray(X)
    try:
        if np.iscomplexobj(array):
            raise TypeError
        finite = np.isfinite(array)
    except TypeError:
        raise ValueError(f"X must be real numbers, got {array.dtype}") from None
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"X must be a matrix, got {array.shape}")
    n, d = array.shape
    if n < min_samples or (n_features is not None and d != n_features) or not finite.all():
        raise ValueError(f"X must have {min_samples} finite rows or more and {n_features} columns, got {n} and {d}")
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64)


def axes_by_covariance(X):
    X = check_samples(X, min_samples=2)
    covariance = sum(np.outer(x, x) for x in X - X.mean(axis=0)) / (len(X) - 1)
    values, vectors = np.linalg.eigh(covariance)
    order = sorted(range(len(values)), key=lambda j: -values[j])
    return fix_signs(np.array([vectors[:, j] for j in order])), np.clip(values[order], 0, None)


class PCA:
    def __init__(self, n_components=None, *, whiten=False):
        self.n_components = n_components
        self.whiten = whiten

    def fit(self, X, y=None):
        X = check_samples(X, min_samples=2)
        n, d = X.shape
        k = min(n, d) if self.n_components is None else self.n_components
        if k not in range(1, min(n, d) + 1):
            raise ValueError(f"n_components={k}")
        self.samples = X.copy()
        mean = X.mean(axis=0, dtype=float)
        # The left singular vectors of the transpose are the axes.
        U, S, _ = np.linalg.svd((X - mean.astype(X.dtype)).T, full_matrices=False)
        variances = (S / (n - 1) ** 0.5) ** 2
        self.mean_ = mean.astype(X.dtype)
        self.components_ = fix_signs(U.T[:k])
        self.singular_values_, self.explained_variance_ = S[:k], variances[:k]
        self.total_variance_ = variances.sum()
        self.explained_variance_ratio_ = np.nan_to_num(variances / max(self.total_variance_, np.finfo(X.dtype).tiny))[
            :k
        ]
        self.n_samples_seen_ = n
        return self

    def partial_fit(self, X, y=None):
        if not hasattr(self, "samples"):
            return self.fit(X)
        X = check_samples(X, n_features=self.samples.shape[1])
        return self.fit(np.concatenate([self.samples, X]))

    def transform(self, X):
        if not hasattr(self, "components_"):
            raise ValueError("not fitted")
        X = check_samples(X, n_features=len(self.mean_))
        scores = np.stack([(X - self.mean_) @ axis for axis in self.components_], axis=1)
        if self.whiten:
            deviations = self._deviations()
            safe = np.where(deviations > 0, deviations, 1)
            scores = np.where(deviations > 0, scores / safe, 0)
        return scores.astype(X.dtype)

    def inverse_transform(self, scores):
        if not hasattr(self, "components_"):
            raise ValueError("not fitted")
        scores = np.asarray(scores)
        if scores.ndim != 2 or scores.shape[1] != len(self.components_) or not np.isfinite(scores).all():
            raise ValueError(f"scores have shape {scores.shape}")
        X = np.tile(self.mean_, (len(scores), 1))
        factors = self._deviations() if self.whiten else np.ones_like(self.explained_variance_)
        for score, factor, axis in zip(scores.T, factors, self.components_):
            X += np.outer(score * factor, axis)
        return X

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X)

    def _deviations(self):
        deviations = np.sqrt(self.explained_variance_)
        size = max(float(np.abs(self.mean_).max()), float(deviations[0]))
        limit = max(self.n_samples_seen_, len(self.mean_)) * float(np.finfo(deviations.dtype).eps) * size
        return np.where(deviations > limit, deviations, 0)
