"""Whole matrices: mirrors and rotations are formed and multiplied, and B is a matrix whose bulge can be seen.

In a step each bulge is found where it is, rather than carried along. Mirrors are such that d and e are not negative where that
costs no digits, and U is the full product of all of them, of which the reduced form takes the first columns.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bidiagonal:
    u: np.ndarray
    d: np.ndarray
    e: np.ndarray
    vt: np.ndarray


@dataclass(frozen=True)
class SVD:
    u: np.ndarray
    s: np.ndarray
    vt: np.ndarray
    iterations: int


def _numbers(values, name, ndim=2, least=1):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or array.size < least or not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers along {ndim} axes, got {values}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _diagonals(d, e):
    d, e = _numbers(d, "d", 1), _numbers(e, "e", 1, least=0)
    if len(e) != len(d) - 1:
        raise ValueError("e must have one entry less than d")
    return d, e


def _check(b):
    d, _ = _diagonals(b.d, b.e)
    u, vt = _numbers(b.u, "u"), _numbers(b.vt, "vt")
    if u.shape[1] < len(d) or len(vt) != len(d):
        raise ValueError("u must have columns enough and vt as many rows as d")


def _dense(b):
    return np.diag(b.d) + np.diag(b.e, 1)


def _part(u, middle, vt, dtype):
    return Bidiagonal(
        u.astype(dtype), np.diagonal(middle).astype(dtype), np.diagonal(middle, 1).astype(dtype), vt.astype(dtype)
    )


def _rotation(n, i, j, a, b):
    """A whole matrix that turns entries i and j of a vector, a and b, into a length and 0."""
    g, r = np.eye(n), math.hypot(a, b)
    if r > 0:
        g[i, i] = g[j, j] = a / r
        g[i, j], g[j, i] = b / r, -b / r
    return g


def _mirror(x):
    """A whole matrix that sends x to the first axis."""
    n, size = len(x), np.abs(x).max()
    if not x[1:].any():
        return np.eye(n)
    v = x.astype(float) / size
    v[0] += math.copysign(math.sqrt(v @ v), v[0])
    v /= math.sqrt(v @ v)
    return np.eye(n) - 2 * np.outer(v, v)


def reflect(mirrors, x):
    x = _numbers(x, "x")
    for v, _ in mirrors:
        if np.ndim(v) != 1 or len(v) > len(x):
            raise ValueError("mirrors must fit")
    whole = np.eye(len(x), dtype=x.dtype)
    for v, beta in mirrors:
        v = np.concatenate([np.zeros(len(x) - len(v), x.dtype), v])
        whole = whole @ (np.eye(len(x), dtype=x.dtype) - beta * np.outer(v, v))
    return whole @ x


def bidiagonalize(a, *, full=False):
    a = _numbers(a, "a")
    m, n = a.shape
    if m < n:
        raise ValueError("a must be tall")
    u, middle, v = np.eye(m), a.astype(float), np.eye(n)
    for k in range(n):
        h = np.eye(m)
        h[k:, k:] = _mirror(middle[k:, k])
        u, middle = u @ h, h @ middle
        if k + 1 < n:
            g = np.eye(n)
            g[k + 1 :, k + 1 :] = _mirror(middle[k, k + 1 :])
            v, middle = v @ g, middle @ g
    return _part(u if full else u[:, :n], middle, v.T, a.dtype)


def deflate(d, e):
    d, e = (x.copy() for x in _diagonals(d, e))
    eps = np.finfo(d.dtype).eps
    largest = max(abs(x) for x in [*d, *e])
    for i in range(len(d)):
        if abs(d[i]) <= eps * largest:
            d[i] = 0
    for i in range(len(e)):
        if abs(e[i]) <= eps * (abs(d[i]) + abs(d[i + 1])):
            e[i] = 0
    stop = len(d)
    while stop > 1 and e[stop - 2] == 0:
        stop -= 1
    if stop == 1:
        return d, e, 0, 0
    start = stop - 1
    while start > 0 and e[start - 1] != 0:
        start -= 1
    return d, e, start, stop


def wilkinson_shift(d, e):
    d, e = _diagonals(d, e)
    if len(d) < 2:
        raise ValueError("d must have two entries")
    b = (np.diag(d) + np.diag(e, 1)).astype(float)
    t = (b.T @ b)[-2:, -2:]
    # Both eigenvalues: the larger without cancellation, and the smaller from the determinant.
    larger = (t[0, 0] + t[1, 1]) / 2 + math.hypot((t[0, 0] - t[1, 1]) / 2, t[0, 1])
    if larger == 0:
        return 0.0
    above = e[-2] if len(e) > 1 else 0.0
    determinant = float(d[-2] * d[-1]) ** 2 + float(above * d[-1]) ** 2 + float(above * e[-1]) ** 2
    smaller = determinant / larger
    # The nearer one is the larger where the last entry of t is.
    return math.sqrt(larger if t[1, 1] > t[0, 0] else smaller)


def step(b, shift):
    _check(b)
    n = len(b.d)
    if n < 2 or b.d[0] == 0:
        raise ValueError("d must have two entries and not begin with 0")
    if not 0 <= shift < math.inf:
        raise ValueError("shift must be finite")
    middle, u, vt = _dense(b).astype(float), b.u.astype(float), b.vt.astype(float)
    y = (abs(middle[0, 0]) - shift) * (abs(middle[0, 0]) + shift) / middle[0, 0]
    z = middle[0, 1]
    for k in range(n - 1):
        g = _rotation(n, k, k + 1, y, z)
        middle, vt = middle @ g.T, g @ vt
        g = _rotation(n, k, k + 1, middle[k, k], middle[k + 1, k])
        middle, u[:, :n] = g @ middle, u[:, :n] @ g.T
        if k + 2 < n:
            y, z = middle[k, k + 1], middle[k, k + 2]
    return _part(u, middle, vt, b.d.dtype)


def chase_zero(b, k):
    _check(b)
    n = len(b.d)
    if not 0 <= k < n - 1 or b.d[k] != 0:
        raise ValueError("k must be the index of a zero")
    middle, u = _dense(b).astype(float), b.u.astype(float)
    for j in range(k + 1, n):
        g = _rotation(n, j, k, middle[j, j], middle[k, j])
        middle, u[:, :n] = g @ middle, u[:, :n] @ g.T
        middle[k, j] = 0
    return _part(u, middle, b.vt, b.d.dtype)


def improve(b):
    _check(b)
    if len(b.d) < 2:
        raise ValueError("d must have two entries")
    for k in range(len(b.d) - 2, -1, -1):
        if b.d[k] == 0:
            return chase_zero(b, k)
    return step(b, wilkinson_shift(b.d, b.e))


def in_order(u, d, vt):
    u, d, vt = _numbers(u, "u"), _numbers(d, "d", 1), _numbers(vt, "vt")
    if u.shape[1] < len(d) or vt.shape != (len(d), len(d)):
        raise ValueError("d must fit")
    order = sorted(range(len(d)), key=lambda i: -abs(d[i]))
    vt = np.array([vt[i] if d[i] >= 0 else -vt[i] for i in order])
    return u[:, order + list(range(len(d), u.shape[1]))], np.abs(d[order]), vt


def _signed(u, vt):
    for k in range(max(u.shape[1], len(vt))):
        decides = u[:, k] if k < u.shape[1] else vt[k]
        if decides[np.argmax(np.abs(decides))] < 0:
            u[:, k : k + 1] *= -1
            vt[k : k + 1] *= -1
    return u, vt


def svd(a, *, full=False, max_iterations=None):
    a = _numbers(a, "a")
    if max_iterations is not None and max_iterations < 0:
        raise ValueError("max_iterations must not be negative")
    exponent = int(np.frexp(np.abs(a).max())[1])
    tall = a.shape[0] >= a.shape[1]
    b = bidiagonalize(np.ldexp(a if tall else a.T, -exponent), full=full)
    u, d, e, vt = b.u, b.d, b.e, b.vt
    for iterations in range(30 * len(d) + 1 if max_iterations is None else max_iterations + 1):
        d, e, start, stop = deflate(d, e)
        if stop == 0:
            u, s, vt = in_order(u, d, vt)
            u, vt = _signed(u, vt) if tall else _signed(vt.T, u.T)
            return SVD(u, np.ldexp(s, exponent), vt, iterations)
        rows = slice(start, stop)
        block = improve(Bidiagonal(u[:, rows], d[rows], e[start : stop - 1], vt[rows]))
        u[:, rows], d[rows], e[start : stop - 1], vt[rows] = block.u, block.d, block.e, block.vt
    raise np.linalg.LinAlgError("not converged")
