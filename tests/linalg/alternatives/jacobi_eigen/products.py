"""A round is two products with a whole orthogonal matrix, the angles are half an arc tangent, and rounds are built greedily."""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix


@dataclass(frozen=True)
class Eigen:
    values: np.ndarray
    vectors: np.ndarray
    sweeps: int
    off: np.ndarray


def off_diagonal_norm(a):
    a = square_matrix(a, "a")
    off = a[~np.eye(len(a), dtype=bool)].astype(float)
    exponent = np.frexp(np.abs(off).max(initial=0))[1]
    return float(np.ldexp(np.linalg.norm(np.ldexp(off, -exponent)), exponent))


def largest_cosine(a):
    a = symmetric_matrix(a, "a")
    p, q = np.triu_indices(len(a), 1)
    p, q = p[a[p, q] != 0], q[a[p, q] != 0]
    root = np.sqrt(np.abs(np.diagonal(a)))
    with np.errstate(divide="ignore"):
        return float((np.abs(a[p, q]) / root[p] / root[q]).max(initial=0))


def rotation(a_pp, a_qq, a_pq):
    a_pp, a_qq, a_pq = (
        real_array(a_pp, "a_pp", ndim=1),
        real_array(a_qq, "a_qq", ndim=1),
        real_array(a_pq, "a_pq", ndim=1),
    )
    if not a_pp.shape == a_qq.shape == a_pq.shape:
        raise ValueError("a_pq must be as long as the others")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        angle = np.arctan(a_pq / (a_qq - a_pp) * 2) / 2
    angle = np.where(a_pq == 0, 0, angle)
    return np.cos(angle), np.sin(angle)


def rounds(n):
    if n < 1:
        raise ValueError("n must be positive")
    m = n + n % 2  # an even number of players, the last of them perhaps not there
    table = []
    for r in range(m - 1):
        pairs = [(r, m - 1)] + [((r + k) % (m - 1), (r - k) % (m - 1)) for k in range(1, m // 2)]
        table.append([(min(pair), max(pair)) for pair in pairs if max(pair) < n])
    return np.array(table, dtype=np.intp).reshape(m - 1, n // 2, 2)


def _matrix(n, p, q, c, s):
    j = np.eye(n, dtype=np.asarray(c).dtype)
    j[p, p] = j[q, q] = c
    j[p, q], j[q, p] = s, -s
    return j


def rotate(a, p, q, c, s):
    a, p, q = symmetric_matrix(a, "a"), np.asarray(p), np.asarray(q)
    both = np.concatenate([p.ravel(), q.ravel()])
    if p.ndim != 1 or p.shape != q.shape or both.dtype.kind not in "iu" or len(set(both)) < len(both):
        raise ValueError("p and q must be disjoint")
    if both.min() < 0 or both.max() >= len(a):
        raise ValueError("p and q must be indices")
    j = _matrix(len(a), p, q, c, s)
    turned = j.T @ (a @ j)
    return np.triu(turned) + np.triu(turned, 1).T


def sweep(a, v):
    a, v = symmetric_matrix(a, "a"), square_matrix(v, "v")
    if a.shape != v.shape:
        raise ValueError("v must fit")
    for p, q in (pairs.T for pairs in rounds(len(a)) if pairs.size):
        c, s = rotation(a[p, p], a[q, q], a[p, q])
        a = rotate(a, p, q, c, s)
        v = v @ _matrix(len(a), p, q, c, s)
    return a, v


def in_order(values, vectors):
    values, vectors = real_array(values, "values", ndim=1), square_matrix(vectors, "vectors")
    if len(values) != len(vectors):
        raise ValueError("vectors must fit")
    largest = np.abs(vectors).argmax(axis=0)[None, :]
    vectors = vectors * np.sign(np.take_along_axis(vectors, largest, axis=0))
    order = np.argsort(values)
    return values[order], vectors[:, order]


def jacobi_eigen(a, *, relative=True, max_sweeps=30):
    a = symmetric_matrix(a, "a")
    if max_sweeps < 1:
        raise ValueError("max_sweeps must be positive")
    eps = np.finfo(a.dtype).eps
    a, v, off = np.tril(a) + np.tril(a, -1).T, np.eye(len(a), dtype=a.dtype), []
    for sweeps in range(max_sweeps + 1):
        off.append(off_diagonal_norm(a))
        if largest_cosine(a) <= eps if relative else off[-1] <= eps * np.abs(a).max():
            return Eigen(*in_order(np.diagonal(a), v), sweeps, np.array(off, dtype=a.dtype))
        if sweeps < max_sweeps:
            a, v = sweep(a, v)
    raise np.linalg.LinAlgError(f"after {max_sweeps} sweeps the rest is {off[-1]}")
