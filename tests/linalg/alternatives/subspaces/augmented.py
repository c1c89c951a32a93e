"""Everything by row reduction of a matrix with something written beside it: complements from [A | I], bases from [Q | P C]."""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class RowReduced:
    matrix: np.ndarray
    pivots: tuple


def _tol(a, tol):
    if tol is None:
        tol = 10 * max(a.shape) * np.finfo(a.dtype).eps
    if not 0 <= tol < 1:
        raise ValueError(f"tol must be at least 0 and below 1, got {tol}")
    return tol


def _basis(values, name, dim):
    basis = real_array(values, name, ndim=2)
    if basis.shape != (dim, dim):
        raise ValueError(f"{name} must have the shape {(dim, dim)}, got {basis.shape}")
    lengths = np.abs(basis).max(axis=0)
    pivots = rref(basis / np.where(lengths > 0, lengths, 1), dim * np.finfo(basis.dtype).eps).pivots
    for column in range(dim):
        if column not in pivots:
            raise np.linalg.LinAlgError(f"{name} must be a basis, but column {column} depends on the columns before it")
    return basis


def _step(a, row, col):
    """One step as a product with a matrix of row operations."""
    n = len(a)
    order = np.arange(n)
    best = row + int(np.argmax(np.abs(a[row:, col])))
    order[row], order[best] = best, row
    a = a[order]
    operation = np.eye(n, dtype=a.dtype)
    operation[:, row] = -a[:, col] / a[row, col]
    operation[row, row] = 1 / a[row, col]
    a = np.where(operation @ a == 0, 0, operation @ a).astype(a.dtype)
    a[:, col] = np.eye(n)[row]
    return a


def pivot_step(a, row, col):
    a = real_array(a, "a", ndim=2)
    if not 0 <= row < a.shape[0]:
        raise ValueError(f"row must be one of the rows, got {row}")
    if not 0 <= col < a.shape[1]:
        raise ValueError(f"col must be one of the columns, got {col}")
    if not a[row:, col].any():
        raise np.linalg.LinAlgError(f"there is no pivot: column {col} is zero from row {row} downwards")
    return _step(a, row, col)


def _reduce(a, n_cols, small):
    """Reduce, with pivots from the first n_cols columns alone."""
    pivots = []
    for col in range(n_cols):
        row = len(pivots)
        if not (np.abs(a[row:, col]) > small).any():
            a = a.copy()
            a[row:, col] = 0
        else:
            a = _step(a, row, col)
            pivots.append(col)
    return a, pivots


def rref(a, tol=None):
    a = real_array(a, "a", ndim=2)
    matrix, pivots = _reduce(a, a.shape[1], _tol(a, tol) * np.abs(a).max())
    return RowReduced(matrix.copy(), tuple(pivots))


def rank_nullity(a, tol=None):
    rank = column_space(a, tol).shape[1]
    return rank, np.asarray(a).shape[1] - rank


def null_space(a, tol=None):
    a = real_array(a, "a", ndim=2)
    reduced = rref(a, tol)
    # A square matrix with each row of R beside its own variable: I less it holds the special solutions in its free columns.
    square = np.zeros((a.shape[1], a.shape[1]), dtype=a.dtype)
    square[list(reduced.pivots)] = reduced.matrix[: len(reduced.pivots)]
    special = np.eye(a.shape[1], dtype=a.dtype) - square
    return np.delete(special, list(reduced.pivots), axis=1)


def column_space(a, tol=None):
    a = real_array(a, "a", ndim=2)
    return np.take(a, np.array(rref(a, tol).pivots, dtype=int), axis=1)


def orthogonal_complement(a, tol=None):
    a = real_array(a, "a", ndim=2)
    largest = np.abs(a).max()
    beside = np.hstack([a / largest if largest > 0 else a, np.eye(len(a), dtype=a.dtype)])
    reduced, pivots = _reduce(beside, a.shape[1], _tol(a, tol))
    return reduced[len(pivots) :, a.shape[1] :].T.copy()


def change_coordinates(coordinates, old, new):
    coordinates = real_array(coordinates, "coordinates", ndim=2)
    old, new = _basis(old, "old", len(coordinates)), _basis(new, "new", len(coordinates))
    lengths = np.abs(new).max(axis=0)
    beside = np.hstack([new / lengths, old @ coordinates])
    return _reduce(beside, len(new), 0)[0][:, len(new) :] / lengths[:, None]


def change_operator(a, domain, codomain=None):
    a = real_array(a, "a", ndim=2)
    domain = _basis(domain, "domain", a.shape[1])
    if codomain is None:
        if a.shape[0] != a.shape[1]:
            raise ValueError(f"codomain must be given unless a is square, got {a.shape}")
        codomain = domain
    codomain = _basis(codomain, "codomain", a.shape[0])
    return _reduce(np.hstack([codomain, a @ domain]), len(codomain), 0)[0][:, len(codomain) :]
