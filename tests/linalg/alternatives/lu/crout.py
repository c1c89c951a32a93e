"""Crout's order: a column of L and a row of U are brought up to date only when their turn comes, by products with vectors.

The substitutions go by columns: an unknown that has been found is taken out of all equations at once. The sign of a
permutation comes from its cycles, the determinant from mantissas and exponents.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LU:
    lower: np.ndarray
    upper: np.ndarray
    permutation: np.ndarray


def _numbers(values, name, *ndims):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim not in ndims or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers along {ndims} axes, got {values}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _columns(triangle, b, name, order):
    triangle, b = _numbers(triangle, name, 2), _numbers(b, "b", 1, 2)
    if len(triangle) != triangle.shape[1]:
        raise ValueError(f"{name} must be square")
    if len(b) != len(triangle):
        raise ValueError("b must fit")
    for i in range(len(triangle)):
        if triangle[i, i] == 0:
            raise np.linalg.LinAlgError(f"{name}[{i}, {i}] is zero")
    rest = b.astype(np.result_type(triangle, b)).reshape(len(b), -1)
    for i in order(range(len(b))):
        rest[i] /= triangle[i, i]
        others = slice(i + 1, None) if name == "lower" else slice(0, i)
        rest[others] -= triangle[others, i, None] * rest[i]
    return rest.reshape(b.shape)


def forward_substitution(lower, b):
    return _columns(lower, b, "lower", iter)


def back_substitution(upper, b):
    return _columns(upper, b, "upper", reversed)


def lu_factor(a):
    a = _numbers(a, "a", 2)
    (m, n), k = a.shape, min(a.shape)
    lower, upper, rows = np.eye(m, k, dtype=a.dtype), np.zeros((k, n), dtype=a.dtype), list(range(m))
    for j in range(k):
        column = a[rows[j:], j] - lower[j:, :j] @ upper[:j, j]
        # Of several that tie, the last.
        best = j + len(column) - 1 - int(np.abs(column)[::-1].argmax())
        rows[j], rows[best] = rows[best], rows[j]
        lower[[j, best], :j] = lower[[best, j], :j]
        column[[0, best - j]] = column[[best - j, 0]]
        upper[j, j] = column[0]
        upper[j, j + 1 :] = a[rows[j], j + 1 :] - lower[j, :j] @ upper[:j, j + 1 :]
        if column[0] != 0:
            lower[j + 1 :, j] = column[1:] / column[0]
    return LU(lower, upper, np.array(rows))


def _square(factors):
    if len(factors.lower) != factors.upper.shape[1]:
        raise ValueError("factors must be square")


def solve(factors, b):
    _square(factors)
    b = _numbers(b, "b", 1, 2)
    if len(b) != len(factors.lower):
        raise ValueError("b must fit")
    return back_substitution(
        factors.upper, forward_substitution(factors.lower, np.take(b, factors.permutation, axis=0))
    )


def permutation_sign(permutation):
    permutation = np.asarray(permutation)
    if permutation.ndim != 1 or sorted(permutation.tolist()) != list(range(permutation.size)) or not permutation.size:
        raise ValueError(f"permutation must be one, got {permutation}")
    # A cycle of c numbers takes c - 1 exchanges.
    seen, cycles = set(), 0
    for start in range(len(permutation)):
        cycles += start not in seen
        while start not in seen:
            seen.add(start)
            start = int(permutation[start])
    return (-1.0) ** (len(permutation) - cycles)


def log_determinant(factors):
    _square(factors)
    mantissa, exponent = permutation_sign(factors.permutation), 0
    for pivot in np.diagonal(factors.upper).tolist():
        mantissa, shift = math.frexp(mantissa * pivot)
        exponent += shift
    if mantissa == 0:
        return 0, -math.inf
    return math.copysign(1, mantissa), math.log(abs(mantissa)) + exponent * math.log(2)


def determinant(factors):
    sign, log_abs = log_determinant(factors)
    return sign * (math.exp(log_abs) if log_abs < 709 else math.inf)


def inverse(factors):
    _square(factors)
    n = len(factors.upper)
    columns = [solve(factors, column) for column in np.eye(n, dtype=factors.upper.dtype)]
    return np.stack(columns, axis=1)


def growth_factor(a, factors):
    a = _numbers(a, "a", 2)
    if a.shape != (len(factors.lower), factors.upper.shape[1]):
        raise ValueError("factors must fit")
    largest = max(a.max(), -a.min())
    return 1 if largest == 0 else max(factors.upper.max(), -factors.upper.min()) / largest
