"""Outer products: each column is finished first and then taken out of all that remains.

An update factors nothing anew but (L x) by Householder's QR; a downdate solves L p = x and rotates from the last row up, as
LINPACK does. Draws use eigenvectors, a root of the covariance that is not triangular.
"""

import numpy as np

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix
from mlpath.linalg.lu import back_substitution, forward_substitution


def _factor(lower):
    lower = np.tril(square_matrix(lower, "lower"))
    if np.diagonal(lower).min() <= 0:
        raise ValueError("lower must have a positive diagonal")
    return lower


def cholesky(a):
    rest = symmetric_matrix(a, "a").copy()
    columns = []
    for order in range(1, len(rest) + 1):
        column = rest[:, order - 1]
        if column[order - 1] <= 0:
            raise np.linalg.LinAlgError(f"not positive definite: the leading minor of order {order}")
        column = column / np.sqrt(column[order - 1])
        column[: order - 1] = 0
        columns.append(column)
        rest -= np.outer(column, column)
    return np.array(columns).T


def ldl(a):
    rest = symmetric_matrix(a, "a").copy()
    lower, pivots = np.eye(len(rest), dtype=rest.dtype), []
    for k in range(len(rest)):
        pivots.append(rest[k, k])
        below = rest[k + 1 :, k].copy()
        if pivots[k] == 0 and below.any():
            raise np.linalg.LinAlgError(f"order {k + 1}")
        if below.any():
            lower[k + 1 :, k] = below / pivots[k]
            rest[k + 1 :, k + 1 :] -= np.outer(lower[k + 1 :, k], below)
    return lower, np.array(pivots)


def solve(lower, b):
    lower = _factor(lower)
    # The mirrored transpose of a lower triangle is a lower triangle.
    y = forward_substitution(lower, b)
    return forward_substitution(lower.T[::-1, ::-1], y[::-1])[::-1].copy()


def log_determinant(lower):
    total = 0.0
    for entry in np.diagonal(_factor(lower)).tolist():
        total += np.log(entry)
    return 2 * total


def _vector(lower, x):
    x = real_array(x, "x", ndim=1)
    if len(x) != len(lower):
        raise ValueError("x must fit")
    return x


def update(lower, x):
    lower = _factor(lower)
    x = _vector(lower, x)
    upper = np.linalg.qr(np.vstack([lower.T, x]), mode="r")
    return (upper * np.where(np.diagonal(upper) < 0, -1, 1).astype(upper.dtype)[:, None]).T


def downdate(lower, x):
    lower = _factor(lower)
    x = _vector(lower, x)
    lower = lower.astype(np.result_type(lower, x))
    p = forward_substitution(lower, x)
    squares = np.cumsum(p**2)
    if squares[-1] >= 1:
        raise np.linalg.LinAlgError(f"order {int(np.argmax(squares >= 1)) + 1}")
    # Rotate (p, rest) into (0, 1) from the last entry up; the same rotations on (L' over 0) leave the factor, over x.
    rest = np.sqrt(1 - squares[-1])
    extra = np.zeros_like(x, dtype=lower.dtype)
    for k in reversed(range(len(x))):
        length = np.hypot(rest, p[k])
        c, s = rest / length, p[k] / length
        rest = length
        extra, lower[:, k] = c * extra + s * lower[:, k], c * lower[:, k] - s * extra
    return np.tril(lower)


def _gaussian(mean, covariance):
    covariance, mean = symmetric_matrix(covariance, "covariance"), real_array(mean, "mean", ndim=1)
    if len(mean) != len(covariance):
        raise ValueError("mean must fit")
    return mean, covariance


def sample_gaussian(mean, covariance, n_samples, *, rng):
    mean, covariance = _gaussian(mean, covariance)
    if n_samples <= 0:
        raise ValueError("n_samples must be positive")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] <= 0:
        raise np.linalg.LinAlgError("not positive definite")
    z = rng.standard_normal((len(mean), n_samples))
    return (mean[:, None] + vectors @ (np.sqrt(values)[:, None] * z)).T


def gaussian_log_density(x, mean, covariance):
    mean, covariance = _gaussian(mean, covariance)
    x = real_array(x, "x", ndim=2)
    if x.shape[1] != len(mean):
        raise ValueError("x must fit")
    lower = cholesky(covariance)
    away = (x - mean).T
    # (x - mean)' A^-1 (x - mean), by a solution rather than by z.
    weighted = back_substitution(lower.T, forward_substitution(lower, away))
    return -(away * weighted).sum(axis=0) / 2 - log_determinant(lower) / 2 - len(mean) / 2 * np.log(2 * np.pi)
