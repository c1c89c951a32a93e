"""Plain Python loops. The Euclidean norm in a single pass that rescales whenever a larger entry turns up."""

import math

import numpy as np


def _numbers(values, name, ndim):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a finite array with {ndim} axes, got {values}")
    return array.astype(float).tolist()


def _order(p, name="p"):
    if math.isnan(p) or p < 1:
        raise ValueError(f"{name} must be at least 1, got {p}")


def l1_norm(x):
    total = 0.0
    for entry in _numbers(x, "x", 1):
        total += entry if entry > 0 else -entry
    return total


def max_norm(x):
    largest = 0.0
    for entry in _numbers(x, "x", 1):
        largest = max(largest, entry, -entry)
    return largest


def l2_norm(x):
    largest, total = 0.0, 1.0  # the norm so far is largest * sqrt(total - 1), while largest is 0
    total = 0.0
    for entry in _numbers(x, "x", 1):
        size = abs(entry)
        if size > largest:
            total = 1.0 + total * (largest / size) ** 2
            largest = size
        elif size > 0:
            total += (size / largest) ** 2
    return largest * math.sqrt(total)


def lp_norm(x, p):
    _order(p)
    sizes = sorted(abs(entry) for entry in _numbers(x, "x", 1))
    largest = sizes[-1]
    if math.isinf(p) or largest == 0.0:
        return largest
    # In logarithms: log of the sum of powers, relative to the largest.
    total = sum(math.exp(p * (math.log(size) - math.log(largest))) for size in sizes if size > 0)
    return largest * math.exp(math.log(total) / p)


def induced_norm(a, p):
    rows = _numbers(a, "a", 2)
    if p != 1 and p != math.inf:
        raise ValueError(f"p must be 1 or infinity, got {p}")
    lines = rows if p == math.inf else zip(*rows)
    return max(l1_norm(line) for line in lines)


def schatten_norm(a, p):
    a = np.array(_numbers(a, "a", 2))
    _order(p)
    scale = np.abs(a).max()
    if scale == 0:
        return 0.0
    # Eigenvalues of [[0, A], [A', 0]] are the singular values of A, with both signs, and zeros.
    n_rows, n_cols = a.shape
    block = np.zeros((n_rows + n_cols, n_rows + n_cols))
    block[:n_rows, n_rows:] = a / scale
    singular = np.linalg.eigvalsh(block + block.T)[-min(a.shape) :]
    return scale * lp_norm(singular, p)


def unit_ball_boundary(angles, p):
    points = []
    _order(p)
    for angle in _numbers(angles, "angles", 1):
        x, y = math.cos(angle), math.sin(angle)
        length = lp_norm([x, y], p)
        points.append([x / length, y / length])
    return np.array(points)


def equivalence_constants(p, q, n):
    _order(p, "p")
    _order(q, "q")
    if not n >= 1 or math.isinf(n) or n % 1:
        raise ValueError(f"n must be a positive whole number, got {n}")
    if p <= q:
        return 1.0, lp_norm(np.ones(int(n)), p) / lp_norm(np.ones(int(n)), q)
    small, large = equivalence_constants(q, p, n)
    return 1 / large, 1 / small
