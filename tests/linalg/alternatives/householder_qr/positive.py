"""R with a diagonal that is never negative: Parlett's formula for the first entry of v, and rotations against the diagonal."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class HouseholderQR:
    vectors: Float[np.ndarray, "n_rows n_reflectors"]
    betas: Float[np.ndarray, " n_reflectors"]
    r: Float[np.ndarray, "n_reflectors n_cols"]


@dataclass(frozen=True)
class GivensQR:
    q: Float[np.ndarray, "n_rows n_rows"]
    r: Float[np.ndarray, "n_rows n_cols"]
    n_rotations: int


def _rows(values, name, n_rows):
    array = real_array(values, name, ndim=2)
    if len(array) != n_rows:
        raise ValueError(f"{name} must have {n_rows} rows, got {len(array)}")
    return array


def householder_vector(x):
    x = real_array(x, "x", ndim=1)
    # A power of two as the scale rounds nothing.
    _, exponent = np.frexp(np.abs(x).max())
    v = np.ldexp(x, -exponent)
    first, tail = float(v[0]), float(np.square(v[1:], dtype=float).sum())
    e1 = np.zeros_like(x)
    e1[0] = 1
    if tail == 0 and not x[1:].any():
        return e1, (2.0 if first < 0 else 0.0), abs(float(x[0]))
    length = math.sqrt(first**2 + tail)
    if first > 0 and tail < 1e-290:  # too short to square: the other sign has no such trouble
        v[0], alpha = first + length, -length
    else:
        v[0], alpha = (first - length if first <= 0 else -tail / (first + length)), length
    v = v / v[0]
    return v, 2 / float(v @ v), math.ldexp(alpha, int(exponent))


def apply_reflector(v, beta, a):
    v = real_array(v, "v", ndim=1)
    reflected = _rows(a, "a", len(v)).copy()
    for column in reflected.T:
        column -= beta * (v @ column) * v
    return reflected


def householder_qr(a):
    r = real_array(a, "a", ndim=2).copy()
    n_rows, n_cols = r.shape
    size = min(n_rows, n_cols)
    vectors, betas = np.eye(n_rows, size, dtype=r.dtype), np.zeros(size, r.dtype)
    for k in range(size):
        vectors[k:, k], betas[k], r[k, k] = householder_vector(r[k:, k])
        r[k + 1 :, k] = 0
        if k + 1 < n_cols:
            r[k:, k + 1 :] = apply_reflector(vectors[k:, k], betas[k], r[k:, k + 1 :])
    return HouseholderQR(vectors, betas, r[:size])


def apply_q_transpose(factors, b):
    b = _rows(b, "b", len(factors.vectors)).copy()
    for k, beta in enumerate(factors.betas):
        b[k:] = apply_reflector(factors.vectors[k:, k], beta, b[k:])
    return b


def apply_q(factors, b):
    b = _rows(b, "b", len(factors.vectors)).copy()
    for k in range(len(factors.betas) - 1, -1, -1):
        b[k:] = apply_reflector(factors.vectors[k:, k], factors.betas[k], b[k:])
    return b


def form_qr(factors, mode="economy"):
    n_rows, size = factors.vectors.shape
    r = factors.r.copy()
    if mode == "full":
        r.resize((n_rows, r.shape[1]))
        size = n_rows
    elif mode != "economy":
        raise ValueError(f"mode must be economy or full, got {mode}")
    # Backwards, the columns of the identity that no mirror has touched yet stay as they are.
    q = np.eye(n_rows, size, dtype=r.dtype)
    for k in range(len(factors.betas) - 1, -1, -1):
        q[k:, k:] = apply_reflector(factors.vectors[k:, k], factors.betas[k], q[k:, k:])
    return q, r


def givens_rotation(a, b):
    if not np.isfinite([a, b]).all():
        raise ValueError(f"a and b must be finite, got {a}, {b}")
    # By the tangent or the cotangent, whichever is at most 1.
    if b == 0:
        return 1.0, 0.0, float(a)
    if abs(b) > abs(a):
        cotangent = a / b
        s = 1 / math.sqrt(1 + cotangent * cotangent)
        return s * cotangent, s, b / s
    tangent = b / a
    c = 1 / math.sqrt(1 + tangent * tangent)
    return c, c * tangent, a / c


def givens_qr(a):
    r = real_array(a, "a", ndim=2).copy()
    q, count = np.eye(len(r), dtype=r.dtype), 0
    for j in range(r.shape[1]):
        for i in range(j + 1, len(r)):  # downwards, each against the row of the diagonal
            if r[i, j] != 0:
                c, s, _ = givens_rotation(float(r[j, j]), float(r[i, j]))
                r[j], r[i] = c * r[j] + s * r[i], c * r[i] - s * r[j]
                q[:, j], q[:, i] = c * q[:, j] + s * q[:, i], c * q[:, i] - s * q[:, j]
                r[i, j] = 0
                count += 1
    return GivensQR(q, r, count)
