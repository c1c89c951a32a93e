"""QR by the reflections of linalg/householder_qr, Q never formed; substitution column by column; (9) term by term."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, square_matrix
from mlpath.linalg.householder_qr import apply_q_transpose, householder_qr


@dataclass(frozen=True)
class LeastSquares:
    x: Float[np.ndarray, "n_cols *n_rhs"]
    residual: Float[np.ndarray, "n_rows *n_rhs"]
    rank: int
    singular_values: Float[np.ndarray, " n_singular"]


def _checked(a, b, tall=True):
    a = real_array(a, "a", ndim=2)
    if tall and len(a) < a.shape[1]:
        raise ValueError(f"a must not be wide, got {a.shape}")
    b = real_array(b, "b", ndim=max(1, min(np.ndim(b), 2)))
    if len(b) != len(a):
        raise ValueError(f"b must have {len(a)} rows, got {len(b)}")
    return a, b


def solve_triangular(t, b, *, lower=False):
    t, b = _checked(square_matrix(t, "t"), b)
    n = len(t)
    if 0 in np.diag(t):
        raise np.linalg.LinAlgError(f"pivot {list(np.diag(t)).index(0)} is zero")
    left, x = b.astype(np.result_type(t, b)), np.empty(b.shape, np.result_type(t, b))
    for j in range(n) if lower else range(n - 1, -1, -1):
        x[j] = left[j] / t[j, j]
        later = slice(j + 1, n) if lower else slice(0, j)
        left[later] -= np.multiply.outer(t[later, j], x[j])  # what is known goes to the other side at once
    return x


def solve_normal_equations(a, b):
    a, b = _checked(a, b)
    n = a.shape[1]
    gram, rhs = np.einsum("ij,ik->jk", a, a), np.einsum("ij,i...->j...", a, b)
    lower = np.zeros_like(gram)
    for j in range(n):  # Cholesky, column by column
        pivot = gram[j, j] - lower[j, :j] @ lower[j, :j]
        if not pivot > 10 * len(a) * np.finfo(a.dtype).eps * gram[j, j]:
            raise np.linalg.LinAlgError(f"pivot {j} is {pivot}")
        lower[j, j] = math.sqrt(pivot)
        lower[j + 1 :, j] = (gram[j + 1 :, j] - lower[j + 1 :, :j] @ lower[j, :j]) / lower[j, j]
    return solve_triangular(lower.T, solve_triangular(lower, rhs, lower=True))


def solve_qr(a, b):
    a, b = _checked(a, b)
    n = a.shape[1]
    factors = householder_qr(a)
    for j in range(n):
        if abs(factors.r[j, j]) <= 10 * len(a) * np.finfo(a.dtype).eps * np.abs(factors.r[:, j]).max():
            raise np.linalg.LinAlgError(f"pivot {j} is {factors.r[j, j]}")
    rotated = apply_q_transpose(factors, b.reshape(len(b), -1))[:n]
    return solve_triangular(factors.r, rotated.reshape(n, *b.shape[1:]))


def numerical_rank(singular_values, rcond):
    return sum(1 for value in singular_values if value > rcond * max(singular_values))


def _rho(rcond, a):
    if rcond is None:
        return max(a.shape) * np.finfo(a.dtype).eps
    if not (rcond >= 0 and rcond < 1):
        raise ValueError(f"rcond must be in [0, 1), got {rcond}")
    return rcond


def solve_svd(a, b, rcond=None):
    a, b = _checked(a, b, tall=False)
    rho = _rho(rcond, a)
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    x = np.zeros((a.shape[1], *b.shape[1:]), np.result_type(a, b))
    rank = numerical_rank(s, rho)
    for i in range(rank):
        x += np.multiply.outer(vt[i], (u[:, i] @ b) / s[i])
    return LeastSquares(x, b - a.dot(x), rank, s)


def pseudo_inverse(a, rcond=None):
    a = real_array(a, "a", ndim=2)
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    terms = (np.outer(vt[i], u[:, i] / s[i]) for i in range(numerical_rank(s, _rho(rcond, a))))
    return sum(terms, np.zeros(a.T.shape, a.dtype))


def condition_number(a):
    values = np.linalg.svd(real_array(a, "a", ndim=2))[1]
    smallest = float(values.min())
    return float(values.max()) / smallest if smallest else float("inf")


def perturbation_bound(a, b, epsilon):
    a, b = _checked(a, b)
    if b.ndim != 1:
        raise ValueError(f"b must be a vector, got {b.shape}")
    if not (epsilon >= 0 and epsilon < math.inf):
        raise ValueError(f"epsilon must be finite, got {epsilon}")
    kappa = condition_number(a)
    if math.isinf(kappa) or kappa * epsilon >= 1:
        return math.inf
    x = solve_qr(a, b) if kappa < 1e10 else solve_svd(a, b).x
    size = float(np.linalg.norm(a, 2)) * math.hypot(*x)
    if size == 0:
        return math.inf
    spread = math.hypot(*(b - a @ x)) / size
    return (2 * kappa + kappa * spread + kappa**2 * spread) * epsilon / (1 - kappa * epsilon)
