"""Entry by entry and block by block."""

from typing import Literal

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, square_matrix

Matrix = Float[np.ndarray, "n_rows n_cols"]
Square = Float[np.ndarray, "n n"]
Vector = Float[np.ndarray, " n"]


def _vector_for(values: np.ndarray, name: str, n: int) -> np.ndarray:  # given: argument checks
    """Return a vector of `n` entries."""
    vector = real_array(values, name, ndim=1)
    if len(vector) != n:
        raise ValueError(f"{name} must have {n} entries, got {len(vector)}")
    return vector


def differential(gradient: Float[np.ndarray, "*shape"], change: Float[np.ndarray, "*shape"]) -> float:  # given
    """Return how much a function changes to first order, equation (1)."""
    gradient, change = np.asarray(gradient), np.asarray(change)
    if gradient.shape != change.shape:
        raise ValueError(f"change must have the shape of the gradient, {gradient.shape}, got {change.shape}")
    return float(np.vdot(gradient, change))


def vec(x: Matrix) -> Float[np.ndarray, " n_entries"]:  # given
    """Return the columns of a matrix, stacked."""
    return real_array(x, "x", ndim=2).ravel(order="F")


def quadratic_gradient(a: Square, b: Vector, x: Vector) -> Vector:
    """Return the gradient of $x^T A x + b^T x$ by $x$, equation (3)."""
    # given: the checks
    a = square_matrix(a, "a")
    b, x = _vector_for(b, "b", len(a)), _vector_for(x, "x", len(a))
    # yours
    return (a + a.T) @ x + b


def trace_gradient(a: Float[np.ndarray, "p m"], b: Float[np.ndarray, "n p"]) -> Float[np.ndarray, "m n"]:
    """Return the gradient of $tr(A X B)$ by $X$, equation (4). It is the same for all $X$."""
    # given: the checks
    a, b = real_array(a, "a", ndim=2), real_array(b, "b", ndim=2)
    if b.shape[1] != a.shape[0]:
        raise ValueError(f"b must have as many columns as a has rows, {a.shape[0]}, got {b.shape[1]}")
    # yours
    return np.einsum("km,nk->mn", a, b)


def logdet_gradient(x: Square) -> Square:
    """Return the gradient of $log |det X|$, equation (5)."""
    # given: the check
    x = square_matrix(x, "x")
    # yours
    return np.linalg.solve(x.T, np.eye(len(x), dtype=x.dtype))


def inverse_gradient(x: Square, a: Vector, b: Vector) -> Square:
    """Return the gradient of $a^T X^{-1} b$ by $X$, equation (6)."""
    # given: the checks
    x = square_matrix(x, "x")
    a, b = _vector_for(a, "a", len(x)), _vector_for(b, "b", len(x))
    # yours
    inverse = np.linalg.inv(x)
    return -inverse.T @ a[:, None] @ b[None, :] @ inverse.T


def norm_gradient(x: Matrix, norm: Literal["frobenius", "spectral", "nuclear"]) -> Matrix:
    """Return the gradient of a norm of a matrix, equation (7)."""
    # given: the decomposition, and the corners
    x = real_array(x, "x", ndim=2)
    if norm not in ("frobenius", "spectral", "nuclear"):
        raise ValueError(f"norm must be frobenius, spectral or nuclear, got {norm!r}")
    u, s, wt = np.linalg.svd(x, full_matrices=False)
    nearly = 1000 * np.finfo(x.dtype).eps * s[0]
    corners = {"frobenius": s[0] == 0, "spectral": s[0] - np.append(s, 0)[1] <= nearly, "nuclear": s[-1] <= nearly}
    if corners[norm]:
        raise ValueError(f"x must be where the {norm} norm has a gradient, got singular values {s}")
    # yours
    if norm == "frobenius":
        large = np.abs(x).max()
        return x / large / np.linalg.norm(x / large)
    total = np.zeros_like(x)
    for left, right in list(zip(u.T, wt, strict=True))[: 1 if norm == "spectral" else None]:
        total += left[:, None] * right
    return total


def kronecker(a: Matrix, b: Float[np.ndarray, "p q"]) -> Float[np.ndarray, "n_rows*p n_cols*q"]:
    """Return the Kronecker product of two matrices, equation (8)."""
    # given: the checks
    a, b = real_array(a, "a", ndim=2), real_array(b, "b", ndim=2)
    # yours
    return np.block([[entry * b for entry in row] for row in a])


def commutation_matrix(m: int, n: int) -> Float[np.ndarray, "{m*n} {m*n}"]:
    """Return the matrix that takes the stacked columns of an `m` by `n` matrix to those of its transpose, equation (10)."""
    # given: the check
    for size, name in ((m, "m"), (n, "n")):
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
    # yours
    k = np.zeros((m * n, m * n))
    for i in range(m):
        for j in range(n):
            k[i * n + j, j * m + i] = 1
    return k


def gram_jacobian(x: Matrix) -> Float[np.ndarray, "n_cols*n_cols n_rows*n_cols"]:
    """Return the Jacobian of $X^T X$ by $X$, both stacked column by column, from equation (11)."""
    # given: the check
    x = real_array(x, "x", ndim=2)
    # yours
    columns = []
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            change = np.zeros_like(x)
            change[i, j] = 1
            columns.append(vec(change.T @ x + x.T @ change))
    return np.stack(columns, axis=1)
