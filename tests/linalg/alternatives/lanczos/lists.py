"""Lists of vectors, parts taken off one by one. Lanczos is Arnoldi that forgets all but two coefficients, and the driver
looks at the Ritz values after each step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class MatrixFree:
    function: Callable
    n: int

    @property
    def shape(self):
        return self.n, self.n

    def __matmul__(self, x):
        return self.function(x)


@dataclass(frozen=True)
class Krylov:
    q: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    invariant: bool


@dataclass(frozen=True)
class Arnoldi:
    q: np.ndarray
    h: np.ndarray
    invariant: bool


@dataclass(frozen=True)
class Ritz:
    values: np.ndarray
    coefficients: np.ndarray
    residuals: np.ndarray


@dataclass(frozen=True)
class Eigenpairs:
    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    steps: int
    converged: bool


def _array(values, name, ndim):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be an array of {ndim} axes with finite numbers, got {values}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _size(operator: Any) -> int:
    shape = getattr(operator, "shape", ())
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise ValueError(f"operator must be square, got {shape}")
    return shape[0]


def _times(operator, x):
    product = np.asarray(operator @ x)
    if product.shape != x.shape or product.dtype.kind not in "fiu" or not np.isfinite(product).all():
        raise ValueError(f"operator must return finite numbers, got {product}")
    return product.astype(x.dtype)


def _norm(x):
    largest = float(np.abs(x).max())
    return largest * float(np.sqrt(np.sum((x / largest) ** 2))) if largest else 0.0


def _unit(start, operator):
    start = _array(start, "start", 1)
    if len(start) != _size(operator) or not start.any():
        raise ValueError(f"start must have {_size(operator)} entries, not all 0, got {start}")
    start = start / np.abs(start).max()
    return start / np.sqrt(start @ start)


def _steps(n_steps):
    if n_steps != int(n_steps) or n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")


def _without(w, vectors):
    """Take off the parts along the vectors one by one, each of what the others have left."""
    for v in vectors:
        w = w - (v @ w) * v
    return w


def _rounding(length, entries, n, dtype):
    return bool(length <= 10 * np.sqrt(n) * np.finfo(dtype).eps * max(abs(float(entry)) for entry in entries))


def grid_laplacian(x, shape):
    x = _array(x, "x", 1)
    if len(x) != shape[0] * shape[1] or min(shape) < 1:
        raise ValueError(f"x must fit the grid {shape}, got {x.shape}")
    # A copy of the edge all round makes the differences there 0.
    padded = np.pad(x.reshape(shape), 1, mode="edge")
    inside = padded[1:-1, 1:-1]
    neighbours = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
    return sum(inside - neighbour for neighbour in neighbours).ravel()


def lanczos_step(operator, q, beta, *, reorthogonalize=True):
    if q.ndim != 2 or len(q) != _size(operator) or not q.shape[1]:
        raise ValueError(f"q must have {_size(operator)} rows and a column, got {q.shape}")
    newest = q[:, -1]
    w = _times(operator, newest)
    alpha = newest @ w
    w = w - alpha * newest
    if q.shape[1] > 1:
        w = w - w.dtype.type(beta) * q[:, -2]
    if reorthogonalize:
        w = _without(_without(w, q.T), q.T)
    return float(alpha), w


def extend(operator, krylov, n_steps, *, reorthogonalize=True):
    _steps(n_steps)
    vectors, alpha, beta = list(krylov.q.T), list(krylov.alpha), list(krylov.beta)
    invariant = krylov.invariant
    for _ in range(n_steps):
        if invariant:
            break
        q = np.array(vectors).T
        a, w = lanczos_step(operator, q, beta[-1] if beta else 0, reorthogonalize=reorthogonalize)
        length = _norm(w)
        invariant = _rounding(length, [a, *alpha, *beta], len(w), w.dtype)
        alpha.append(a)
        beta.append(0 if invariant else length)
        if not invariant:
            vectors.append(w / w.dtype.type(length))
    q = np.array(vectors).T
    return Krylov(q, np.array(alpha, q.dtype), np.array(beta, q.dtype), invariant)


def _symmetric(operator):
    x, y = np.random.default_rng(1).normal(size=(2, _size(operator)))
    ax, ay = _times(operator, x), _times(operator, y)
    largest = max(np.abs(ax).max(), np.abs(ay).max()) or 1.0
    eps = np.finfo(np.float32 if getattr(operator, "dtype", float) == np.float32 else float).eps
    if abs(x @ (ay / largest) - y @ (ax / largest)) > 1000 * eps * len(x):
        raise ValueError("operator must be symmetric")


def lanczos(operator, start, n_steps, *, reorthogonalize=True):
    unit = _unit(start, operator)
    _symmetric(operator)
    return extend(operator, Krylov(unit[:, None], unit[:0], unit[:0], False), n_steps, reorthogonalize=reorthogonalize)


def lanczos_ritz(alpha, beta):
    alpha, beta = _array(alpha, "alpha", 1), _array(beta, "beta", 1)
    if len(alpha) != len(beta) or (beta < 0).any():
        raise ValueError(f"beta must be {len(alpha)} lengths, got {beta}")
    t = np.diag(alpha)
    for i, b in enumerate(beta[:-1]):
        t[i, i + 1] = t[i + 1, i] = b
    values, s = np.linalg.eigh(t)
    return Ritz(values, s, np.abs(beta[-1] * s[-1, :]))


def extreme_eigenpairs(operator, k, *, which="largest", rng, tol=None, max_steps=300):
    n = _size(operator)
    if k != int(k) or not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, got {k}")
    if which not in ("largest", "smallest"):
        raise ValueError(f"which must be one of two, got {which}")
    if max_steps < k:
        raise ValueError(f"max_steps must be at least {k}, got {max_steps}")
    dtype = np.float32 if getattr(operator, "dtype", None) == np.float32 else np.float64
    tol = np.finfo(dtype).eps ** (2 / 3) if tol is None else tol
    if not 0 < tol < np.inf:
        raise ValueError(f"tol must be positive, got {tol}")
    krylov = lanczos(operator, rng.normal(size=n).astype(dtype), 1)
    broken = krylov.invariant
    while True:
        m = len(krylov.alpha)
        if m >= k:
            ritz = lanczos_ritz(krylov.alpha, krylov.beta)
            order = np.argsort(ritz.values if which == "smallest" else -ritz.values)[:k]
            good = bool(np.all(ritz.residuals[order] <= tol * np.abs(ritz.values).max()))
            if m >= min(n, max_steps) or (good and not broken):
                vectors = krylov.q[:, :m] @ ritz.coefficients[:, order]
                return Eigenpairs(ritz.values[order], vectors, ritz.residuals[order], m, good)
        if krylov.invariant:
            fresh = _without(rng.normal(size=n).astype(dtype), krylov.q.T)
            fresh = _without(fresh / _norm(fresh), krylov.q.T)
            q = np.column_stack([krylov.q, fresh / dtype(_norm(fresh))])
            krylov = Krylov(q, krylov.alpha, krylov.beta, False)
        krylov = extend(operator, krylov, 1)
        broken = broken or krylov.invariant


def arnoldi(operator, start, n_steps):
    vectors, columns = [_unit(start, operator)], []
    _steps(n_steps)
    for _ in range(n_steps):
        w, column = _times(operator, vectors[-1]), np.zeros(len(vectors) + 1, vectors[0].dtype)
        for _ in range(2):
            for i, v in enumerate(vectors):
                part = v @ w
                column[i] += part
                w = w - part * v
        columns.append(column)
        length = _norm(w)
        if invariant := _rounding(length, np.concatenate(columns), len(w), w.dtype):
            break
        column[-1] = length
        vectors.append(w / w.dtype.type(length))
    h = np.zeros((len(columns) + 1, len(columns)), vectors[0].dtype)
    for j, column in enumerate(columns):
        h[: len(column), j] = column
    return Arnoldi(np.array(vectors).T, h[: len(vectors)], invariant)


def arnoldi_ritz(h):
    h = _array(h, "h", 2)
    if len(h) not in (h.shape[1], h.shape[1] + 1):
        raise ValueError(f"h must have a row more than columns, or none more, got {h.shape}")
    values, s = np.linalg.eig(h[: h.shape[1]])
    residuals = np.abs(s[-1]) * np.abs(h[-1, -1]) if len(h) > h.shape[1] else np.zeros(len(values), h.dtype)
    return Ritz(values, s, residuals)
