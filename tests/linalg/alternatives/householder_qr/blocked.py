"""Mirrors gathered: H1 ... Hp = I - V T V', so that each use of Q is three matrix products; R by halving the columns."""

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
    if array.shape[0] != n_rows:
        raise ValueError(f"{name} must have {n_rows} rows, got {array.shape[0]}")
    return array


def householder_vector(x):
    x = real_array(x, "x", ndim=1)
    scale = np.max(np.abs(x))
    if scale == 0:
        return np.eye(len(x), dtype=x.dtype)[0], 0.0, 0.0
    y = x / scale
    # A mirror even where nothing has to be reflected: it turns the sign.
    v = y.copy()
    v[0] += np.linalg.norm(y) if y[0] >= 0 else -np.linalg.norm(y)
    v /= np.linalg.norm(v)
    return v / v[0], float(2 * v[0] ** 2), float(scale * (y[0] - v[0] * 2 * (v @ y)))


def apply_reflector(v, beta, a):
    v = real_array(v, "v", ndim=1)
    a = _rows(a, "a", len(v))
    return a - v[:, None] * (beta * (a.T @ v))


def _gathered(vectors, betas):
    """The triangle T of the mirrors, column by column."""
    size = len(betas)
    t = np.zeros((size, size), betas.dtype)
    inner = vectors.T @ vectors
    for k in range(size):
        t[:k, k] = -betas[k] * t[:k, :k] @ inner[:k, k]
        t[k, k] = betas[k]
    return t


def _factorised(a):
    """Mirrors and triangle of a tall matrix: of the left half first, then of what they leave of the right half."""
    if a.shape[1] == 1:
        v, beta, alpha = householder_vector(a[:, 0])
        return v[:, None], np.array([beta], a.dtype), np.array([[alpha]], a.dtype)
    half = a.shape[1] // 2
    v1, beta1, r1 = _factorised(a[:, :half])
    right = a[:, half:] - v1 @ (_gathered(v1, beta1).T @ (v1.T @ a[:, half:]))
    v2, beta2, r2 = _factorised(right[half:])
    vectors = np.hstack([v1, np.vstack([np.zeros((half, v2.shape[1]), a.dtype), v2])])
    r = np.block([[r1, right[:half]], [np.zeros((len(r2), half), a.dtype), r2]])
    return vectors, np.concatenate([beta1, beta2]), r


def householder_qr(a):
    a = real_array(a, "a", ndim=2)
    size = min(a.shape)
    factors = HouseholderQR(*_factorised(a[:, :size]))
    if size == a.shape[1]:
        return factors
    right = apply_q_transpose(factors, a[:, size:])
    return HouseholderQR(factors.vectors, factors.betas, np.hstack([factors.r, right]))


def apply_q_transpose(factors, b):
    b = _rows(b, "b", len(factors.vectors))
    return b - factors.vectors @ (_gathered(factors.vectors, factors.betas).T @ (factors.vectors.T @ b))


def apply_q(factors, b):
    b = _rows(b, "b", len(factors.vectors))
    return b - factors.vectors @ (_gathered(factors.vectors, factors.betas) @ (factors.vectors.T @ b))


def form_qr(factors, mode="economy"):
    if mode not in {"economy", "full"}:
        raise ValueError(f"mode must be economy or full, got {mode}")
    n_rows, n_inner = factors.vectors.shape
    if mode == "full":
        n_inner = n_rows
    q = apply_q(factors, np.eye(n_rows, n_inner, dtype=factors.r.dtype))
    missing = n_inner - len(factors.r)
    return q, np.pad(factors.r, ((0, missing), (0, 0)))


def givens_rotation(a, b):
    if not (math.isfinite(a) and math.isfinite(b)):
        raise ValueError(f"a and b must be finite, got {a}, {b}")
    largest = max(abs(a), abs(b))
    if largest == 0:
        return 1.0, 0.0, 0.0
    turn = complex(a / largest, b / largest)
    length = math.sqrt(turn.real**2 + turn.imag**2)
    # The negative of the usual r.
    return -turn.real / length, -turn.imag / length, -largest * length


def givens_qr(a):
    a = real_array(a, "a", ndim=2)
    both, count = np.hstack([a, np.eye(len(a), dtype=a.dtype)]), 0  # the identity becomes the transpose of Q
    for j in range(a.shape[1]):
        for i in range(len(a) - 1, j, -1):
            if both[i, j]:
                c, s, _ = givens_rotation(both[i - 1, j], both[i, j])
                upper, lower = both[i - 1].copy(), both[i].copy()
                both[i - 1], both[i] = c * upper + s * lower, c * lower - s * upper
                both[i, j] = 0
                count += 1
    return GivensQR(both[:, a.shape[1] :].T.copy(), both[:, : a.shape[1]].copy(), count)
