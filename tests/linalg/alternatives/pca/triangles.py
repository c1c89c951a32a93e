"""QR before the SVD, and `fit` as the update of an empty state; signs, checks and scores in other ways too."""

import numpy as np


def fix_signs(axes):
    fixed = np.array(axes)
    for row in fixed:
        decides = max(range(len(row)), key=lambda j: abs(row[j]))
        if row[decides] < 0:
            row *= -1
    return fixed


def check_samples(X, *, min_samples=1, n_features=None):
    X = np.array(X)
    number = np.issubdtype(X.dtype, np.floating) or np.issubdtype(X.dtype, np.integer) or X.dtype == bool
    problems = [
        (not number, f"of real numbers, not {X.dtype}"),
        (X.ndim != 2, f"a matrix, not of shape {X.shape}"),
        (X.ndim == 2 and X.shape[0] < min_samples, f"at least {min_samples} rows, not {X.shape[:1]}"),
        (
            X.ndim == 2 and X.shape[1] != (n_features or X.shape[1] or 1),
            f"of {n_features or 1} columns, not {X.shape[1:]}",
        ),
        (number and not np.isfinite(np.sum(np.abs(X) * 0)), "finite"),
    ]
    for wrong, what in problems:
        if wrong:
            raise ValueError(f"X must be {what}")
    return X if X.dtype == np.float32 else X.astype(float)


def axes_by_covariance(X):
    X = check_samples(X, min_samples=2)
    centred = X - X.mean(axis=0)
    covariance = np.einsum("ni,nj->ij", centred / (len(X) - 1), centred)
    # A symmetric positive semi-definite matrix is its own SVD, sorted downwards and without negative numbers.
    _, variances, axes = np.linalg.svd(covariance)
    return fix_signs(axes), variances


class PCA:
    def __init__(self, n_components=None, *, whiten=False):
        self.n_components, self.whiten = n_components, whiten

    def fit(self, X, y=None):
        X = check_samples(X, min_samples=2)
        self._choose(X)
        self.mean_ = np.zeros(X.shape[1], X.dtype)
        self.components_ = np.zeros((0, X.shape[1]), X.dtype)
        self.singular_values_ = np.zeros(0, X.dtype)
        self.n_samples_seen_ = 0
        self.scatter = 0.0
        return self.partial_fit(X)

    def partial_fit(self, X, y=None):
        if not hasattr(self, "components_"):
            return self.fit(X)
        X = check_samples(X, n_features=len(self.mean_))
        old, new = self.n_samples_seen_, len(X)
        n = old + new
        batch_mean = X.mean(axis=0, dtype=float).astype(X.dtype)
        change = batch_mean - self.mean_
        # Two triangles: first of the batch alone, then of the batch and the past.
        triangle = np.linalg.qr(np.vstack([X - batch_mean, change * float(np.sqrt(old * new / n))]), mode="r")
        # Divided by the root of n - 1 first, so that no square leaves the range of floats.
        root = float(np.sqrt(n - 1))
        past = self.scatter * (old - 1) / (n - 1) if old else 0.0
        self.scatter = past + float(np.sum((triangle / root) ** 2))
        stack = np.vstack([np.diag(self.singular_values_) @ self.components_, triangle])
        values, axes = np.linalg.svd(np.linalg.qr(stack, mode="r"), full_matrices=False)[1:]
        k = min(n, X.shape[1]) if self.n_components is None else self.n_components
        values = np.append(values, np.zeros(max(k - len(values), 0), values.dtype))
        self.mean_ = batch_mean if old == 0 else (old / n) * self.mean_ + (new / n) * batch_mean
        self.n_samples_seen_ = n
        self.components_, self.singular_values_ = fix_signs(axes)[:k], values[:k]
        self.explained_variance_ = np.square(self.singular_values_ / root)
        self.total_variance_ = self.scatter
        share = self.explained_variance_ / self.scatter if self.scatter > 0 else self.explained_variance_
        self.explained_variance_ratio_ = share.astype(X.dtype)
        return self

    def _choose(self, X):
        k = self.n_components
        if k is not None and (k != k or k < 1 or k > min(X.shape) or k % 1):
            raise ValueError(f"n_components={k} is out of range")

    def transform(self, X):
        if not hasattr(self, "components_"):
            raise ValueError("call fit first")
        X = check_samples(X, n_features=len(self.mean_))
        scores = X @ self.components_.T - self.mean_ @ self.components_.T
        return scores * self._inverse(self._deviations()) if self.whiten else scores

    def inverse_transform(self, scores):
        if not hasattr(self, "components_"):
            raise ValueError("call fit first")
        scores = np.array(scores)
        if scores.shape[1:] != self.components_.shape[:1] or not np.isfinite(scores).all():
            raise ValueError("scores must be finite, with one column for each axis")
        axes = self.components_ * self._deviations()[:, None] if self.whiten else self.components_
        return np.add(self.mean_, np.dot(scores, axes))

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X)

    def _deviations(self):
        deviations = np.sqrt(self.explained_variance_)
        size = max(np.abs(self.mean_).max(), deviations.max())
        noise = max(self.n_samples_seen_, len(self.mean_)) * np.finfo(deviations.dtype).eps * size
        return deviations * (deviations > noise)

    @staticmethod
    def _inverse(deviations):
        return np.array([1 / d if d > 0 else 0.0 for d in deviations], deviations.dtype)
