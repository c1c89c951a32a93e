"""Divide and conquer: triangles and matrices are cut in two, so that nearly all the work is products of matrices.

The sign of a permutation comes from its inversions; the inverse from the two inverted triangles.
"""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array, square_matrix


@dataclass(frozen=True)
class LU:
    lower: np.ndarray
    upper: np.ndarray
    permutation: np.ndarray


def _system(triangle, b, name):
    triangle = square_matrix(triangle, name)
    b = real_array(b, "b", ndim=2 if np.ndim(b) == 2 else 1)
    if len(b) != len(triangle):
        raise ValueError(f"b must have {len(triangle)} rows")
    for i, pivot in enumerate(triangle.diagonal()):
        if pivot == 0:
            raise np.linalg.LinAlgError(f"{name}[{i}, {i}] is zero")
    return triangle, b


def forward_substitution(lower, b):
    lower, b = _system(lower, b, "lower")
    if len(b) == 1:
        return b / lower[0, 0]
    half = len(b) // 2
    top = forward_substitution(lower[:half, :half], b[:half])
    return np.concatenate([top, forward_substitution(lower[half:, half:], b[half:] - lower[half:, :half] @ top)])


def back_substitution(upper, b):
    upper, b = _system(upper, b, "upper")
    # Upside down and mirrored, an upper triangle is a lower one.
    return forward_substitution(upper[::-1, ::-1], b[::-1])[::-1].copy()


def _packed(a):
    """Return both factors in one array, and the permutation."""
    m, n = a.shape
    if m == 1:
        return a.copy(), np.arange(1)
    if n == 1:
        rows = np.argsort(-np.abs(a[:, 0]), kind="stable")
        column = a[rows]
        if column[0, 0] != 0:
            column[1:] /= column[0, 0]
        return column, rows
    half = min(m, n) // 2
    left, rows = _packed(a[:, :half])
    right = a[rows, half:]
    right[:half] = forward_substitution(np.tril(left[:half], -1) + np.eye(half, dtype=a.dtype), right[:half])
    below, order = _packed(right[half:] - left[half:] @ right[:half])
    rows[half:] = rows[half:][order]
    left[half:] = left[half:][order]
    return np.hstack([left, np.vstack([right[:half], below])]), rows


def lu_factor(a):
    a = real_array(a, "a", ndim=2)
    k = min(a.shape)
    both, permutation = _packed(a)
    return LU(np.tril(both[:, :k], -1) + np.eye(len(a), k, dtype=a.dtype), np.triu(both[:k]), permutation)


def _square(factors):
    if len(factors.lower) != factors.upper.shape[1]:
        raise ValueError("factors must be square")


def solve(factors, b):
    _square(factors)
    b = _system(np.eye(len(factors.lower)), b, "")[1]
    order = np.eye(len(b), dtype=b.dtype)[factors.permutation]
    return back_substitution(factors.upper, forward_substitution(factors.lower, order @ b))


def permutation_sign(permutation):
    permutation = np.asarray(permutation)
    n = permutation.size
    if (
        not n
        or permutation.ndim != 1
        or (np.bincount(np.where(permutation < 0, n, permutation), minlength=n) != 1).any()
    ):
        raise ValueError(f"permutation must be one, got {permutation}")
    inversions = np.triu(permutation[:, None] > permutation).sum()
    return 1 - 2 * (inversions % 2)


def log_determinant(factors):
    _square(factors)
    pivots = np.diag(factors.upper)
    with np.errstate(divide="ignore"):
        log_abs = np.log(np.abs(pivots)).sum()
    negative = np.count_nonzero(pivots < 0)
    return permutation_sign(factors.permutation) * (-1) ** negative * float((pivots != 0).all()), log_abs


def determinant(factors):
    sign, log_abs = log_determinant(factors)
    with np.errstate(over="ignore"):
        return sign * np.exp(log_abs)


def inverse(factors):
    _square(factors)
    identity = np.eye(len(factors.upper), dtype=factors.upper.dtype)
    found = np.empty_like(identity)
    found[:, factors.permutation] = back_substitution(factors.upper, forward_substitution(factors.lower, identity))
    return found


def growth_factor(a, factors):
    a = real_array(a, "a", ndim=2)
    if a.shape != (len(factors.lower), factors.upper.shape[1]):
        raise ValueError("factors must fit")
    largest = np.abs(a).max()
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(factors.upper).max() / largest, nan=1.0)
