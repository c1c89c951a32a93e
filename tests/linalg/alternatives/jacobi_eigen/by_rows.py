"""One pair after another, row by row, with the diagonal updated by the tangent: the textbook's cyclic method, in loops.

The tournament is played with one number held fast, and all others moving round the table by one seat.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Eigen:
    values: np.ndarray
    vectors: np.ndarray
    sweeps: int
    off: np.ndarray


def _numbers(values, name, ndim):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers along {ndim} axes, got {values}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _square(values, name):
    a = _numbers(values, name, 2)
    if len(a) != a.shape[1]:
        raise ValueError(f"{name} must be square")
    return a


def _symmetric(values):
    a = _square(values, "a")
    if np.abs(a - a.T).max() > 100 * np.finfo(a.dtype).eps * np.abs(a).max():
        raise ValueError("a must be symmetric")
    return a


def off_diagonal_norm(a):
    a = _square(a, "a")
    return math.hypot(*(float(a[i, j]) for i in range(len(a)) for j in range(len(a)) if i != j))


def largest_cosine(a):
    a, largest = _symmetric(a), 0.0
    for p in range(len(a)):
        for q in range(p):
            if a[p, q] != 0:
                size = math.sqrt(abs(a[p, p])) * math.sqrt(abs(a[q, q]))
                largest = max(largest, abs(float(a[p, q])) / size if size else math.inf)
    return largest


def _tangent(a_pp, a_qq, a_pq):
    if a_pq == 0:
        return 0.0
    difference = a_qq - a_pp
    root = math.hypot(difference, 2 * a_pq)
    return 2 * a_pq / (difference + math.copysign(root, difference))


def rotation(a_pp, a_qq, a_pq):
    a_pp, a_qq, a_pq = (_numbers(x, name, 1) for x, name in ((a_pp, "a_pp"), (a_qq, "a_qq"), (a_pq, "a_pq")))
    if not len(a_pp) == len(a_qq) == len(a_pq):
        raise ValueError("a_pq must be as long as the others")
    t = np.array([_tangent(*map(float, entries)) for entries in zip(a_pp, a_qq, a_pq)])
    c = 1 / np.hypot(1, t)
    dtype = np.result_type(a_pp, a_qq, a_pq)
    return c.astype(dtype), (t * c).astype(dtype)


def rounds(n):
    if n < 1:
        raise ValueError("n must be positive")
    seats = list(range(n + n % 2))
    table = []
    for _ in range(len(seats) - 1):
        half = len(seats) // 2
        pairs = zip(seats[:half], reversed(seats[half:]))
        table.append([sorted(pair) for pair in pairs if max(pair) < n])
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return np.array(table, dtype=int).reshape(len(table), n // 2, 2)


def rotate(a, p, q, c, s):
    a, p, q = _symmetric(a).copy(), np.asarray(p), np.asarray(q)
    both = [*p.ravel(), *q.ravel()]
    whole = p.dtype.kind in "iu" and q.dtype.kind in "iu" and p.ndim == q.ndim == 1 and len(p) == len(q)
    if not whole or len(set(both)) < len(both) or any(not 0 <= i < len(a) for i in both):
        raise ValueError("p and q must be disjoint")
    for i, j, cosine, sine in zip(p, q, c, s):
        _turn(a, i, j, cosine, sine)
    return a


def _turn(a, i, j, c, s):
    x, y = a[i].copy(), a[j].copy()
    a[i] = a[:, i] = c * x - s * y
    a[j] = a[:, j] = s * x + c * y
    a[i, i] = c * (c * x[i] - s * y[i]) - s * (c * x[j] - s * y[j])
    a[j, j] = s * (s * x[i] + c * y[i]) + c * (s * x[j] + c * y[j])
    a[i, j] = a[j, i] = s * (c * x[i] - s * y[i]) + c * (c * x[j] - s * y[j])


def sweep(a, v):
    a, v = _symmetric(a).copy(), _square(v, "v").copy()
    if a.shape != v.shape:
        raise ValueError("v must fit")
    for p in range(len(a)):
        for q in range(p + 1, len(a)):
            t = _tangent(float(a[p, p]), float(a[q, q]), float(a[p, q]))
            c = 1 / math.hypot(1, t)
            s = t * c
            diagonal = a[p, p] - t * a[p, q], a[q, q] + t * a[p, q]
            _turn(a, p, q, c, s)
            a[p, p], a[q, q] = diagonal
            a[p, q] = a[q, p] = 0
            v[:, p], v[:, q] = c * v[:, p] - s * v[:, q], s * v[:, p] + c * v[:, q]
    return a, v


def in_order(values, vectors):
    values, vectors = _numbers(values, "values", 1), _square(vectors, "vectors")
    if len(values) != len(vectors):
        raise ValueError("vectors must fit")
    pairs = sorted(zip(values, vectors.T), key=lambda pair: pair[0])
    turned = [-x if max(x, key=abs) < 0 else x for _, x in pairs]
    return np.array([value for value, _ in pairs]), np.array(turned).T


def jacobi_eigen(a, *, relative=True, max_sweeps=30):
    a = _symmetric(a)
    if max_sweeps < 1:
        raise ValueError("max_sweeps must be positive")
    dtype, eps = a.dtype, np.finfo(a.dtype).eps
    a, v = (a + a.T) / 2, np.eye(len(a), dtype=dtype)
    off = [off_diagonal_norm(a)]

    def ends():
        return largest_cosine(a) <= eps if relative else off[-1] <= eps * np.abs(a).max()

    while not ends():
        if len(off) == max_sweeps + 1:
            raise np.linalg.LinAlgError(f"not done after {max_sweeps} sweeps")
        a, v = sweep(a, v)
        off.append(off_diagonal_norm(a))
    return Eigen(*in_order(np.diagonal(a).copy(), v), len(off) - 1, np.array(off, dtype=dtype))
