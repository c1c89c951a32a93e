"""Row by row (bordering): each new row of the factor solves a triangular system. Plain loops where others have slices."""

import math

import numpy as np

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix
from mlpath.linalg.lu import back_substitution, forward_substitution


def cholesky(a):
    a = symmetric_matrix(a, "a")
    lower = np.zeros_like(a)
    for i in range(len(a)):
        if i:
            lower[i, :i] = forward_substitution(lower[:i, :i], a[i, :i])
        left = a[i, i] - lower[i, :i] @ lower[i, :i]
        if left <= 0:
            raise np.linalg.LinAlgError(f"a must be positive definite; order {i + 1} is not")
        lower[i, i] = np.sqrt(left)
    return lower


def ldl(a):
    a = symmetric_matrix(a, "a")
    n = len(a)
    lower, pivots = np.eye(n, dtype=a.dtype), np.zeros(n, dtype=a.dtype)
    for j in range(n):
        pivots[j] = a[j, j] - sum(lower[j, k] ** 2 * pivots[k] for k in range(j))
        for i in range(j + 1, n):
            left = a[i, j] - sum(lower[i, k] * pivots[k] * lower[j, k] for k in range(j))
            if pivots[j] != 0:
                lower[i, j] = left / pivots[j]
            elif left != 0:
                raise np.linalg.LinAlgError(f"order {j + 1}")
    return lower, pivots


def _factor(lower, x=None):
    lower = np.tril(square_matrix(lower, "lower"))
    if (np.diag(lower) <= 0).any():
        raise ValueError("lower must have a positive diagonal")
    if x is None:
        return lower
    x = real_array(x, "x", ndim=1)
    if len(x) != len(lower):
        raise ValueError("x must fit")
    return lower.astype(np.result_type(lower, x)), x.astype(np.result_type(lower, x))


def solve(lower, b):
    return back_substitution(_factor(lower).T, forward_substitution(lower, b))


def log_determinant(lower):
    return 2 * math.fsum(math.log(entry) for entry in np.diag(_factor(lower)))


def update(lower, x):
    lower, x = _factor(lower, x)
    for k in range(len(x)):
        r = np.hypot(lower[k, k], x[k])
        c, s = r / lower[k, k], x[k] / lower[k, k]
        lower[k, k] = r
        for i in range(k + 1, len(x)):
            lower[i, k] = (lower[i, k] + s * x[i]) / c
            x[i] = c * x[i] - s * lower[i, k]
    return lower


def downdate(lower, x):
    lower, x = _factor(lower, x)
    for k in range(len(x)):
        ratio = x[k] / lower[k, k]
        if not abs(ratio) < 1:
            raise np.linalg.LinAlgError(f"order {k + 1}")
        c = np.sqrt((1 - ratio) * (1 + ratio))  # a hyperbolic rotation
        lower[k:, k], x[k:] = (lower[k:, k] - ratio * x[k:]) / c, (x[k:] - ratio * lower[k:, k]) / c
    return lower


def sample_gaussian(mean, covariance, n_samples, *, rng):
    covariance, mean = symmetric_matrix(covariance, "covariance"), real_array(mean, "mean", ndim=1)
    if len(mean) != len(covariance):
        raise ValueError("mean must fit")
    if n_samples < 1:
        raise ValueError("n_samples must be at least 1")
    lower = cholesky(covariance)
    return np.array([lower @ rng.normal(size=len(mean)) + mean for _ in range(n_samples)])


def gaussian_log_density(x, mean, covariance):
    covariance, mean = symmetric_matrix(covariance, "covariance"), real_array(mean, "mean", ndim=1)
    if len(mean) != len(covariance):
        raise ValueError("mean must fit")
    x = real_array(x, "x", ndim=2)
    if x.shape[1] != len(mean):
        raise ValueError("x must fit")
    # A product of one-dimensional laws, each given the coordinates before it.
    lower, total = cholesky(covariance), np.zeros(len(x))
    z = np.zeros_like(x)
    for j in range(len(mean)):
        z[:, j] = (x[:, j] - mean[j] - z[:, :j] @ lower[j, :j]) / lower[j, j]
        total -= z[:, j] ** 2 / 2 + np.log(lower[j, j]) + np.log(2 * np.pi) / 2
    return total
