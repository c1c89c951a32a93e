"""The step as equation (3) has it: T - mu I is factorised outright, by rotations, and RQ formed. Whole matrices
everywhere.

The reduction uses the mirrors as matrices. Blocks are found by searching, and the shift by the quadratic formula of
the product.
"""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix


@dataclass(frozen=True)
class Tridiagonal:
    d: np.ndarray
    e: np.ndarray
    q: np.ndarray


@dataclass(frozen=True)
class Eigen:
    values: np.ndarray
    vectors: np.ndarray
    steps: int


def _diagonals(d, e):
    d, e = real_array(d, "d", ndim=1), np.asarray(e)
    if e.shape != (len(d) - 1,) or not np.isfinite(e).all():
        raise ValueError(f"e must be a finite vector with one entry less than d, got {e}")
    return d, e.astype(d.dtype)


def _mirror(v, beta):
    return np.eye(len(v), dtype=v.dtype) - beta * np.outer(v, v)


def reflect_both_sides(v, beta, a):
    v, a = real_array(v, "v", ndim=1), square_matrix(a, "a")
    if len(v) != len(a):
        raise ValueError("v must fit to a")
    h = _mirror(v, beta)
    return h @ a @ h


def tridiagonalize(a):
    t = symmetric_matrix(a, "a").copy()
    n = len(t)
    q = np.eye(n, dtype=t.dtype)
    for k in range(n - 2):
        x = np.where(np.arange(n) > k, t[:, k], 0).astype(t.dtype)
        size = np.abs(x).max()
        if not size or not x[k + 2 :].any():
            continue
        v = x / size
        v[k + 1] += math.copysign(np.sqrt(v @ v), v[k + 1])
        h = _mirror(v, 2 / (v @ v))
        t, q = h @ t @ h, q @ h
    return Tridiagonal(np.diagonal(t).copy(), np.diagonal(t, 1).copy(), q)


def wilkinson_shift(a, b, c):
    a, b, c = float(a), float(b), float(c)
    if not all(map(math.isfinite, (a, b, c))):
        raise ValueError("a, b and c must be finite")
    size = max(abs(a), abs(b), abs(c))
    if b == 0:
        return c
    half, beside = (a - c) / size / 2, b / size
    far = abs(half) + math.hypot(half, beside)
    near = size * (beside / far) * beside if beside * beside > 1e-200 else b / far * (b / size)
    return c - near if half >= 0 else c + near


def qr_step(d, e, shift):
    d, e = _diagonals(d, e)
    n, kind = len(d), d.dtype
    r = (np.diag(d) + np.diag(e, 1) + np.diag(e, -1)).astype(float) - float(shift) * np.eye(n)
    c, s = np.ones(n - 1), np.zeros(n - 1)
    for k in range(n - 1):
        x, z = r[k, k], r[k + 1, k]
        length = math.hypot(x, z)
        c[k], s[k] = (x / length, z / length) if length else (1.0, 0.0)
        r[k : k + 2] = np.array([[c[k], s[k]], [-s[k], c[k]]]) @ r[k : k + 2]
    for k in range(n - 1):
        r[:, k : k + 2] = r[:, k : k + 2] @ np.array([[c[k], -s[k]], [s[k], c[k]]])
    return (np.diagonal(r) + float(shift)).astype(kind), np.diagonal(r, -1).astype(kind), c.astype(kind), s.astype(kind)


def rotate_columns(z, c, s):
    z = real_array(z, "z", ndim=2)
    if not np.shape(c) == np.shape(s) == (z.shape[1] - 1,):
        raise ValueError("c and s must have an entry less than z has columns")
    all_of_them = np.eye(z.shape[1], dtype=z.dtype)
    for k in range(len(c)):
        turn = np.array([[c[k], -s[k]], [s[k], c[k]]], dtype=z.dtype)
        all_of_them[:, k : k + 2] = all_of_them[:, k : k + 2] @ turn
    return z @ all_of_them


def deflate(d, e):
    d, e = _diagonals(d, e)
    e, info = e.copy(), np.finfo(d.dtype)
    for i in range(len(e)):
        if abs(e[i]) <= info.eps * (abs(d[i]) + abs(d[i + 1])) + info.tiny:
            e[i] = 0
    return e


def active_block(e):
    e = np.asarray(e)
    if e.ndim != 1:
        raise ValueError("e must be a vector")
    nonzero = np.flatnonzero(e)
    if not len(nonzero):
        return 0, 0
    zeros = np.flatnonzero(e[: nonzero[-1]] == 0)
    return (int(zeros[-1]) + 1 if len(zeros) else 0), int(nonzero[-1]) + 2


def symmetric_eigen(a, *, max_steps=None):
    a = symmetric_matrix(a, "a")
    max_steps = 30 * len(a) if max_steps is None else max_steps
    if max_steps < 0:
        raise ValueError("max_steps must not be negative")
    size = np.abs(a).max()
    if size == 0:
        size = a.dtype.type(1)
    start = tridiagonalize(a / size)
    d, e, q, steps = start.d, deflate(start.d, start.e), start.q, 0
    while e.any():
        if steps >= max_steps:
            raise np.linalg.LinAlgError("not converged")
        i, j = active_block(e)
        mu = wilkinson_shift(d[j - 2], e[j - 2], d[j - 1])
        d[i:j], e[i : j - 1], c, s = qr_step(d[i:j], e[i : j - 1], mu)
        q[:, i:j] = rotate_columns(q[:, i:j], c, s)
        e = deflate(d, e)
        steps += 1
    order = np.argsort(d)
    values, vectors = size * d[order], q[:, order]
    signs = [1 if column[np.abs(column).argmax()] >= 0 else -1 for column in vectors.T]
    return Eigen(values, vectors * np.array(signs, dtype=a.dtype), steps)
