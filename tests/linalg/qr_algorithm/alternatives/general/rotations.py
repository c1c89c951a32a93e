"""Rotations instead of mirrors everywhere: the reduction, and the chase, which removes the bulge entry by entry.

The first column comes from the shifts themselves, complex or not. Each rotation is applied to all rows and columns of
the matrix, and what must be zero is written as zero in the end. The eigenvalues of two rows come from a complex
square root.
"""

import cmath
import math
from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import square_matrix


@dataclass(frozen=True)
class Hessenberg:
    h: np.ndarray
    q: np.ndarray


@dataclass(frozen=True)
class Schur:
    t: np.ndarray
    q: np.ndarray
    steps: int


@dataclass(frozen=True)
class Eigenvalues:
    values: np.ndarray
    steps: int


def _checked(h, rows=1):
    h = square_matrix(h, "h")
    if np.any(np.tril(h, -2)) or len(h) < rows:
        raise ValueError(f"h must be a Hessenberg matrix of {rows} rows or more")
    return h


def _turn(h, q, i, j, x, z):
    """Rotate axes i and j such that (x, z) becomes (length, 0)."""
    length = math.hypot(x, z)
    if z == 0 or length == 0:
        return
    turn = np.array([[x / length, z / length], [-z / length, x / length]], dtype=h.dtype)
    pair = [i, j]
    h[pair] = turn @ h[pair]
    h[:, pair] = h[:, pair] @ turn.T
    q[:, pair] = q[:, pair] @ turn.T


def hessenberg(a):
    h = square_matrix(a, "a").copy()
    q = np.eye(len(h), dtype=h.dtype)
    for k in range(len(h) - 2):
        for i in range(len(h) - 1, k + 1, -1):
            _turn(h, q, i - 1, i, float(h[i - 1, k]), float(h[i, k]))
    return Hessenberg(np.triu(h, -1), q)


def double_shift(h, count):
    h = _checked(h, 3)
    if count == 10 or count == 20:
        w = float(np.abs(h[-1, -2])) + float(np.abs(h[-2, -3]))
        return 3 * w / 2, w**2
    corner = h[-2:, -2:].astype(float)
    return float(corner.trace()), float(corner[0, 0] * corner[1, 1] - corner[0, 1] * corner[1, 0])


def first_column(h, total, product):
    h = _checked(h, 3)
    root = cmath.sqrt(complex(total) ** 2 / 4 - product)
    mu, nu = total / 2 + root, total / 2 - root
    (a, b), (c, d), last = h[0, :2].tolist(), h[1, :2].tolist(), float(h[2, 1])
    x = ((a - mu) * (a - nu)).real / c + b
    y = (a - mu + d - nu).real
    column = -0.5 * np.array([x, y, last])
    return column.astype(h.dtype)


def francis_step(h, q, block, total, product):
    h, q = _checked(h).copy(), square_matrix(q, "q").copy()
    start, stop = block
    if q.shape != h.shape:
        raise ValueError("q must have the shape of h")
    if start < 0 or stop > len(h) or stop - start < 3:
        raise ValueError("block must be three rows or more within h")
    zeros = np.tril(np.ones(h.shape, dtype=bool), -2)
    for i in (start, stop):
        zeros[i:, :i] = True
    x = first_column(h[start:stop, start:stop], total, product).astype(float)
    size = np.abs(x).max()
    x = x / size if size else x
    _turn(h, q, start + 1, start + 2, x[1], x[2])
    _turn(h, q, start, start + 1, x[0], math.hypot(x[1], x[2]))
    for k in range(start, stop - 2):
        for i in range(min(k + 3, stop - 1), k + 1, -1):
            _turn(h, q, i - 1, i, float(h[i - 1, k]), float(h[i, k]))
    h[zeros] = 0
    return h, q


def deflate(h):
    h = _checked(h).copy()
    eps = np.finfo(h.dtype).eps
    largest, n = np.abs(h).max(), len(h)
    size = [abs(h[i, i]) for i in range(n)]
    below = [0, *(abs(h[i, i - 1]) for i in range(1, n)), 0]
    for i in range(1, n):
        if below[i] <= eps * (size[i - 1] + size[i] + below[i - 1] + below[i + 1]) + eps * (eps * largest):
            h[i, i - 1] = 0
    return h


def real_schur(a, *, max_steps=30):
    a = square_matrix(a, "a")
    if max_steps < 0:
        raise ValueError("max_steps must not be negative")
    exponent = int(np.frexp(np.abs(a).max())[1])
    form = hessenberg(np.ldexp(a, -exponent))
    h, q, steps = deflate(form.h), form.q, 0
    stop, count = len(h), 0
    while stop > 2:
        start = stop - 1
        while start > 0 and h[start, start - 1] != 0:
            start -= 1
        if stop - start <= 2:
            stop, count = start, 0
            continue
        if count >= max_steps:
            raise np.linalg.LinAlgError("not converged")
        h, q = francis_step(h, q, (start, stop), *double_shift(h[start:stop, start:stop], count))
        h = deflate(h)
        steps, count = steps + 1, count + 1
    return Schur(np.ldexp(h, exponent), q, steps)


def block_eigenvalues(a, b, c, d):
    if not all(map(math.isfinite, (a, b, c, d))):
        raise ValueError("a, b, c and d must be finite")
    a, b, c, d = map(float, (a, b, c, d))
    # A diagonal similarity makes both entries beside the diagonal equally large; no square is far from the others.
    beside = math.sqrt(abs(b)) * math.sqrt(abs(c))
    sign = 1 if (b >= 0) == (c >= 0) else -1
    half = (a - d) / 2
    size = max(abs(half), beside) or 1.0
    square = (
        (half / size - beside / size) * (half / size + beside / size)
        if sign < 0
        else math.hypot(half / size, beside / size) ** 2
    )
    if square < 0:
        root = size * math.sqrt(-square)
        return complex(a - half, -root), complex(a - half, root)
    z = abs(half) + size * math.sqrt(square)
    z = -z if half < 0 else z
    return complex(d - sign * (beside / z if z else 0.0) * beside), complex(d + z)


def eigenvalues(a, *, max_steps=30):
    form = real_schur(a, max_steps=max_steps)
    t, n = form.t, len(form.t)
    second = np.append(False, np.diagonal(t, -1) != 0)
    values = []
    for i in range(n):
        if second[i]:
            values[-1:] = block_eigenvalues(t[i - 1, i - 1], t[i - 1, i], t[i, i - 1], t[i, i])
        else:
            values.append(complex(t[i, i]))
    values.sort(key=lambda x: (x.real, x.imag))
    return Eigenvalues(np.array(values, dtype=np.complex64 if t.dtype == np.float32 else np.complex128), form.steps)
