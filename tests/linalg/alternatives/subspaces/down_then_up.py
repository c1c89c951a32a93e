"""Gaussian elimination downwards in plain loops, then upwards. Complements by QR, and bases changed by QR too."""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class RowReduced:
    matrix: np.ndarray
    pivots: tuple


def _checked(a, tol):
    a = real_array(a, "a", ndim=2)
    if tol is not None and not 0 <= tol < 1:
        raise ValueError(f"tol must be at least 0 and below 1, got {tol}")
    return a, 10 * max(a.shape) * np.finfo(a.dtype).eps if tol is None else tol


def _basis(basis, name, dim):
    basis = real_array(basis, name, ndim=2)
    if basis.shape != (dim, dim):
        raise ValueError(f"{name} must have {dim} vectors of as many entries, got {basis.shape}")
    for k in range(dim):
        before, column = basis[:, :k], basis[:, k]
        q = np.linalg.qr(before / np.where(before.any(axis=0), np.abs(before).max(axis=0), 1))[0]
        left = column - q @ (q.T @ column)
        if np.abs(left).max() <= 10 * dim * np.finfo(basis.dtype).eps * np.abs(column).max():
            raise np.linalg.LinAlgError(f"{name} must be a basis, but column {k} depends on those before")
    return basis


def _exchange(a, row, col):
    best = max(range(row, len(a)), key=lambda i: abs(a[i, col]))
    if best != row:
        a[row], a[best] = a[best].copy(), a[row].copy()


def pivot_step(a, row, col):
    a = real_array(a, "a", ndim=2)
    if row not in range(a.shape[0]):
        raise ValueError(f"row must exist, got {row}")
    if col not in range(a.shape[1]):
        raise ValueError(f"col must exist, got {col}")
    if not a[row:, col].any():
        raise np.linalg.LinAlgError(f"column {col} is zero from row {row}")
    out = a.copy()
    _exchange(out, row, col)
    for i in range(len(out)):
        if i != row:
            out[i] = out[i] - out[i, col] / out[row, col] * out[row]
            out[i, col] = 0
    out[row] = out[row] / out[row, col]
    return out


def rref(a, tol=None):
    a, tol = _checked(a, tol)
    small = tol * abs(a).max()
    out, pivots, row = a.copy(), [], 0
    for col in range(a.shape[1]):
        if row < len(a):
            _exchange(out, row, col)
            if abs(out[row, col]) <= small:
                out[row:, col] = 0
                continue
            for i in range(row + 1, len(a)):
                factor = out[i, col] / out[row, col]
                out[i, col:] = out[i, col:] - factor * out[row, col:]
                out[i, col] = 0
            pivots.append(col)
            row += 1
    for row in reversed(range(len(pivots))):
        col = pivots[row]
        out[row] = out[row] / out[row, col]
        for i in range(row):
            out[i, col:] = out[i, col:] - out[i, col] * out[row, col:]
    return RowReduced(out, tuple(pivots))


def rank_nullity(a, tol=None):
    pivots = rref(a, tol).pivots
    return len(pivots), sum(col not in pivots for col in range(np.shape(a)[1]))


def null_space(a, tol=None):
    a, tol = _checked(a, tol)
    reduced = rref(a, tol)
    solutions = []
    for free in range(a.shape[1]):
        if free not in reduced.pivots:
            x = np.zeros(a.shape[1], dtype=a.dtype)
            x[free] = 1
            for i, col in enumerate(reduced.pivots):
                x[col] = -reduced.matrix[i, free]
            solutions.append(x)
    return np.column_stack(solutions) if solutions else np.zeros((a.shape[1], 0), dtype=a.dtype)


def column_space(a, tol=None):
    a, tol = _checked(a, tol)
    return np.compress([col in rref(a, tol).pivots for col in range(a.shape[1])], a, axis=1)


def orthogonal_complement(a, tol=None):
    a, tol = _checked(a, tol)
    basis = column_space(a.T, tol)  # independent rows of a, only for their number
    rank = basis.shape[1]
    q, _ = np.linalg.qr(column_space(a, tol), mode="complete")
    return q[:, rank:]


def change_coordinates(coordinates, old, new):
    coordinates = real_array(coordinates, "coordinates", ndim=2)
    old, new = _basis(old, "old", len(coordinates)), _basis(new, "new", len(coordinates))
    q, r = np.linalg.qr(new)
    return np.linalg.solve(r, q.T @ (old @ coordinates))


def change_operator(a, domain, codomain=None):
    a = real_array(a, "a", ndim=2)
    domain = _basis(domain, "domain", a.shape[1])
    if codomain is None:
        if len(a) != len(domain):
            raise ValueError("codomain must be given if a is not square")
        codomain = domain
    return change_coordinates(a @ domain, np.eye(len(a), dtype=a.dtype), _basis(codomain, "codomain", len(a)))
