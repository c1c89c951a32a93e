"""Bases by the SVD; the small SVD and the least squares by way of triangles; logarithms for the powers."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TruncatedSVD:
    u: np.ndarray
    s: np.ndarray
    vt: np.ndarray


def _matrix(a, name="a"):
    a = a if hasattr(a, "tocsr") else np.asarray(a)
    if a.dtype.kind not in "fiu" or a.ndim != 2 or 0 in a.shape:
        raise ValueError(f"{name} must be a matrix of real numbers, got {a.dtype} of shape {a.shape}")
    return a if a.dtype.kind == "f" else a.astype(float)


def _whole(value, name, least, most=np.inf):
    if value != int(value) or value < least or value > most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, got {value}")


def _product(a, x):
    product = np.asarray(a @ x.astype(a.dtype))
    if not np.isfinite(product).all():
        raise ValueError("a must be finite")
    return product


def _norm(x):
    largest = np.abs(x).max(initial=0)
    return largest * math.sqrt(float(np.sum((x / largest) ** 2, dtype=float))) if largest > 0 else 0.0


def _orthonormal(*columns):
    """Return an orthonormal basis by the SVD, which has one even where the columns depend on each other."""
    return np.linalg.svd(np.hstack(columns), full_matrices=False)[0]


def _columns(q, a):
    if q.ndim != 2 or len(q) != a.shape[0]:
        raise ValueError(f"q must have {a.shape[0]} rows, got {q.shape}")


def _normal(a, n, rng):
    return rng.standard_normal((n, a.shape[1])).T


def range_finder(a, size, *, n_iterations=0, rng):
    a = _matrix(a)
    _whole(size, "size", 1, min(a.shape))
    _whole(n_iterations, "n_iterations", 0)
    y = _product(a, _normal(a, size, rng))
    for _ in range(n_iterations):
        y = _product(a, _orthonormal(_product(a.T, _orthonormal(y))))
    return _orthonormal(y)


def svd_from_range(a, q):
    a = _matrix(a)
    _columns(q, a)
    wide, triangle = np.linalg.qr(_product(a.T, q))
    # Q'A is the transpose of A'Q = wide triangle.
    v, s, ut = np.linalg.svd(triangle, full_matrices=False)
    return TruncatedSVD(q @ ut.T, s, (wide @ v).T)


def randomized_svd(a, rank, *, n_oversamples=10, n_iterations=2, rng):
    a = _matrix(a)
    _whole(rank, "rank", 1, min(a.shape))
    _whole(n_oversamples, "n_oversamples", 0)
    size = rank + n_oversamples
    if size > min(a.shape):
        size = min(a.shape)
    whole = svd_from_range(a, range_finder(a, size, n_iterations=n_iterations, rng=rng))
    return TruncatedSVD(*(part for part in (whole.u[:, :rank], whole.s[:rank], whole.vt[:rank, :])))


def _longest(a, q, y):
    return 10 * math.sqrt(2 / math.pi) * max(_norm(column) for column in (y - q @ (q.T @ y)).T)


def error_estimate(a, q, *, n_probes=10, rng):
    a = _matrix(a)
    _columns(q, a)
    _whole(n_probes, "n_probes", 1)
    return float(_longest(a, q, _product(a, _normal(a, n_probes, rng))))


def adaptive_range(a, tol, *, block_size=10, rng):
    a = _matrix(a)
    if not 0 < tol < np.inf:
        raise ValueError(f"tol must be positive, got {tol}")
    _whole(block_size, "block_size", 1)
    q = np.zeros((a.shape[0], 0), a.dtype)
    while True:
        y = _product(a, _normal(a, block_size, rng))
        if q.shape[1] == min(a.shape) or _longest(a, q, y) <= tol:
            return q
        q = _orthonormal(q, y / (np.abs(y).max() or 1))[:, : min(a.shape)]


def _tail(s, rank, p):
    s = np.asarray(s)
    if s.ndim != 1 or not s.size or not np.isfinite(s).all() or (s < 0).any() or (np.diff(s) > 0).any():
        raise ValueError(f"singular_values must fall, got {s}")
    _whole(rank, "rank", 1, len(s))
    _whole(p, "n_oversamples", 2)
    return s[rank:].astype(float)


def frobenius_error_bound(singular_values, rank, n_oversamples):
    tail = _tail(singular_values, rank, n_oversamples)
    return math.sqrt((n_oversamples - 1 + rank) / (n_oversamples - 1)) * float(np.hypot.reduce(tail, initial=0))


def spectral_error_bound(singular_values, rank, n_oversamples, n_iterations=0):
    tail = _tail(singular_values, rank, n_oversamples)
    _whole(n_iterations, "n_iterations", 0)
    tail = tail[tail > 0]
    if not len(tail):
        return 0.0
    power = 2 * n_iterations + 1
    logs = power * np.log(tail)
    first = math.log(1 + math.sqrt(rank / (n_oversamples - 1))) + logs[0]
    second = 1 + math.log(rank + n_oversamples) / 2 - math.log(n_oversamples) + np.logaddexp.reduce(2 * logs) / 2
    return math.exp(np.logaddexp(first, second) / power)


def single_pass_svd(blocks, rank, *, size=None, co_size=None, rng):
    _whole(rank, "rank", 1)
    size = 2 * rank + 1 if size is None else size
    _whole(size, "size", rank)
    co_size = 2 * size + 1 if co_size is None else co_size
    _whole(co_size, "co_size", size)
    y = psi = None
    for block in blocks:
        block = _matrix(block, "blocks")
        if y is None:
            n = block.shape[1]
            omega = rng.standard_normal((min(size, n), n)).T
            y, psi = np.empty((0, omega.shape[1]), block.dtype), np.empty((0, co_size), block.dtype)
            w = np.zeros((n, co_size), block.dtype)
        if block.shape[1] != n:
            raise ValueError(f"blocks must have {n} columns, got {block.shape}")
        new = rng.standard_normal((block.shape[0], co_size)).astype(block.dtype)
        y, psi, w = np.vstack([y, _product(block, omega)]), np.vstack([psi, new]), w + _product(block.T, new)
    if y is None:
        raise ValueError("blocks must not be empty")
    _whole(rank, "rank", 1, min(len(y), n))
    q = np.linalg.qr(y)[0]
    left, triangle = np.linalg.qr(psi.T @ q)
    x = np.linalg.solve(triangle, left.T @ w.T)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return TruncatedSVD((q @ u)[:, :rank], s[:rank], vt[:rank])
