"""The reduction works from the last row upwards, by rotations and without mirrors; the chase keeps three numbers at
hand.

So the last column of Q is the last unit vector, signs of rotations are others than the reference's, and e is
positive.
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


def reflect_both_sides(v, beta, a):
    v, a = real_array(v, "v", ndim=1), square_matrix(a, "a")
    if len(v) != len(a):
        raise ValueError("v must fit to a")
    rows = a - beta * v[:, None] * (v @ a)
    return rows - (rows @ v)[:, None] * (beta * v)


def tridiagonalize(a):
    a = symmetric_matrix(a, "a")
    t, q = a / 2 + a.T / 2, np.eye(len(a), dtype=a.dtype)
    for row in range(len(a) - 1, 1, -1):
        for j in range(row - 1):  # entry (row, j) vanishes into (row, j + 1)
            x, z = float(t[row, j + 1]), float(t[row, j])
            if z == 0:
                continue
            length = -math.hypot(x, z)
            turn = np.array(
                [[x / length, z / length], [-z / length, x / length]], dtype=a.dtype
            )  # (x, z) -> (length, 0)
            pair = [j + 1, j]
            t[pair] = turn @ t[pair]
            t[:, pair] = t[:, pair] @ turn.T
            q[:, pair] = q[:, pair] @ turn.T
    return Tridiagonal(np.diagonal(t).copy(), np.diagonal(t, -1).copy(), q)


def wilkinson_shift(a, b, c):
    if not all(map(math.isfinite, (a, b, c))):
        raise ValueError("a, b and c must be finite")
    if b == 0:
        return float(c)
    # tau is the cotangent of twice the angle of the rotation that makes the block diagonal, as in Jacobi's method
    tau = (float(c) - float(a)) / 2 / abs(float(b))
    if math.isinf(tau):
        return float(c) + float(b) / (float(c) - float(a)) * float(b)
    return float(c) + math.copysign(abs(float(b)) / (abs(tau) + math.hypot(1, tau)), tau)


def qr_step(d, e, shift):
    d, e = _diagonals(d, e)
    kind, d, e = d.dtype, [float(x) for x in d], [float(x) for x in e]
    cosines, sines, bulge = [], [], 0.0
    for k in range(len(e)):
        x, z = (d[0] - float(shift), e[0]) if k == 0 else (e[k - 1], bulge)
        length = math.copysign(math.hypot(x, z), -x)
        c, s = (x / length, z / length) if length else (-1.0, 0.0)
        if k:
            e[k - 1] = length
        block = np.array([[d[k], e[k]], [e[k], d[k + 1]]])
        turn = np.array([[c, s], [-s, c]])
        block = turn @ block @ turn.T
        d[k], e[k], d[k + 1] = float(block[0, 0]), float(block[1, 0]), float(block[1, 1])
        if k + 1 < len(e):
            bulge = s * e[k + 1]
            e[k + 1] *= c
        cosines.append(c)
        sines.append(s)
    return tuple(np.array(numbers, dtype=kind) for numbers in (d, e, cosines, sines))


def rotate_columns(z, c, s):
    z = real_array(z, "z", ndim=2)
    if not np.shape(c) == np.shape(s) == (z.shape[1] - 1,):
        raise ValueError("c and s must have an entry less than z has columns")
    columns, carried = [], z[:, 0]
    for k in range(len(c)):
        columns.append(c[k] * carried + s[k] * z[:, k + 1])
        carried = c[k] * z[:, k + 1] - s[k] * carried
    return np.stack([*columns, carried], axis=1)


def deflate(d, e):
    d, e = _diagonals(d, e)
    info, size = np.finfo(d.dtype), np.abs(d)
    small = [abs(x) <= info.eps * (p + q) + info.tiny for x, p, q in zip(e, size, size[1:])]
    return np.array([0 if zero else x for zero, x in zip(small, e)], dtype=d.dtype)


def active_block(e):
    if np.ndim(e) != 1:
        raise ValueError("e must be a vector")
    blocks, start = [(0, 0)], 0
    for i, x in enumerate([*e, 0]):
        if x == 0:
            if i > start:
                blocks.append((start, i + 1))
            start = i + 1
    return blocks[-1]


def symmetric_eigen(a, *, max_steps=None):
    a = symmetric_matrix(a, "a")
    if max_steps is not None and max_steps < 0:
        raise ValueError("max_steps must not be negative")
    left = 30 * len(a) if max_steps is None else max_steps
    allowed = left
    exponent = int(np.frexp(np.abs(a).max())[1])
    found = tridiagonalize(np.ldexp(a, -exponent))
    d, e, q = found.d, found.e, found.q
    while True:
        e = deflate(d, e)
        i, j = active_block(e)
        if j == 0:
            break
        if not left:
            raise np.linalg.LinAlgError("not converged")
        left -= 1
        d[i:j], e[i : j - 1], c, s = qr_step(d[i:j], e[i : j - 1], wilkinson_shift(d[j - 2], e[j - 2], d[j - 1]))
        q[:, i:j] = rotate_columns(q[:, i:j], c, s)
    pairs = sorted(zip(d.tolist(), range(len(d))))
    order = [k for _, k in pairs]
    q = q[:, order]
    top = np.take_along_axis(q, np.abs(q).argmax(axis=0)[None], axis=0)
    return Eigen(np.ldexp(d[order], exponent), np.where(top < 0, -q, q), allowed - left)
