"""Every solver through one orthogonal factorisation of (A, b) side by side; singular values of the triangle that is left."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, square_matrix


@dataclass(frozen=True)
class LeastSquares:
    x: Float[np.ndarray, "n_cols *n_rhs"]
    residual: Float[np.ndarray, "n_rows *n_rhs"]
    rank: int
    singular_values: Float[np.ndarray, " n_singular"]


def _vector_or_columns(b, n_rows):
    if np.ndim(b) not in (1, 2):
        raise ValueError(f"b must have one axis or two, got {np.ndim(b)}")
    b = real_array(b, "b", ndim=np.ndim(b))
    if len(b) != n_rows:
        raise ValueError(f"b must have {n_rows} rows, got {len(b)}")
    return b


def _tall(a):
    a = real_array(a, "a", ndim=2)
    if a.shape[0] < a.shape[1]:
        raise ValueError(f"a must be tall, got {a.shape}")
    return a


def _substitute(t, b):
    """Halve the triangle: the lower half of the unknowns first, then the upper half with those known."""
    if len(t) == 1:
        return b / t[0, 0]
    half = len(t) // 2
    low = _substitute(t[half:, half:], b[half:])
    return np.concatenate([_substitute(t[:half, :half], b[:half] - t[:half, half:] @ low), low])


def solve_triangular(t, b, *, lower=False):
    t = square_matrix(t, "t")
    b = _vector_or_columns(b, len(t))
    for i, pivot in enumerate(np.diag(t)):
        if pivot == 0:
            raise np.linalg.LinAlgError(f"pivot {i} is zero")
    # A lower triangle, read backwards, is an upper one.
    return _substitute(t[::-1, ::-1], b[::-1])[::-1].copy() if lower else _substitute(t, b)


def _refuse(pivots, beside, n_rows):
    for j, (pivot, other) in enumerate(zip(pivots, beside)):
        if pivot <= 10 * n_rows * np.finfo(pivots.dtype).eps * other:
            raise np.linalg.LinAlgError(f"pivot {j} is lost")


def solve_normal_equations(a, b):
    a = _tall(a)
    b = _vector_or_columns(b, len(a))
    upper = np.linalg.cholesky(np.tensordot(a, a, axes=(0, 0))).T
    _refuse(np.diag(upper) ** 2, (upper**2).sum(axis=0), len(a))
    return _substitute(upper, solve_triangular(upper.T, np.tensordot(a, b, axes=(0, 0)), lower=True))


def solve_qr(a, b):
    a = _tall(a)
    b = _vector_or_columns(b, len(a))
    n = a.shape[1]
    # The triangle of (A, b) holds R, and beside it Q'b.
    r = np.linalg.qr(np.column_stack([a, b]), mode="r")
    _refuse(np.abs(np.diag(r[:n, :n])), np.abs(r[:n, :n]).max(axis=0), len(a))
    return solve_triangular(r[:n, :n], r[:n, n:].reshape(n, *b.shape[1:]))


def numerical_rank(singular_values, rcond):
    below = np.flatnonzero(singular_values <= rcond * singular_values[0])
    return int(below[0]) if len(below) else len(singular_values)


def _decomposed(a, rcond):
    if rcond is not None and not 0 <= rcond < 1:
        raise ValueError(f"rcond must be in [0, 1), got {rcond}")
    rcond = np.finfo(a.dtype).eps * max(a.shape) if rcond is None else rcond
    if a.shape[0] < a.shape[1]:
        vt, s, u, k = _decomposed(a.T, rcond)
        return u.T, s, vt.T, k
    q, r = np.linalg.qr(a)
    u, s, vt = np.linalg.svd(r)
    return q @ u, s, vt, numerical_rank(s, rcond)


def pseudo_inverse(a, rcond=None):
    u, s, vt, k = _decomposed(real_array(a, "a", ndim=2), rcond)
    kept = np.arange(len(s)) < k
    return np.einsum("ij,i,ki->jk", vt, np.divide(1, s, where=kept, out=np.zeros_like(s)), u)


def solve_svd(a, b, rcond=None):
    a = real_array(a, "a", ndim=2)
    b = _vector_or_columns(b, len(a))
    u, s, vt, k = _decomposed(a, rcond)
    z = (u.T @ b).T
    z[..., k:] = 0
    z[..., :k] /= s[:k]
    x = (z @ vt).T
    return LeastSquares(x, b - a @ x, k, s)


def condition_number(a):
    s = _decomposed(real_array(a, "a", ndim=2), 0.0)[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nan_to_num(np.float64(s[0]) / np.float64(s[-1]), nan=np.inf, posinf=np.inf))


def perturbation_bound(a, b, epsilon):
    a = _tall(a)
    b = real_array(b, "b", ndim=1)
    fit = solve_svd(a, b)
    if not 0 <= epsilon < np.inf:
        raise ValueError(f"epsilon must be finite, got {epsilon}")
    kappa, largest = condition_number(a), fit.singular_values[0]
    reach = largest * np.sqrt((fit.x**2).sum())
    if np.isinf(kappa) or kappa * epsilon >= 1 or reach == 0:
        return np.inf
    return float(epsilon / (1 / kappa - epsilon) * (2 + (kappa + 1) * np.sqrt((fit.residual**2).sum()) / reach))
