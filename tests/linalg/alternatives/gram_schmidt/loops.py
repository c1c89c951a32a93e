"""Plain loops over vectors and entries. The second pass of the re-orthogonalised method goes by the modified one."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Comparison:
    conditions: np.ndarray
    classical: np.ndarray
    modified: np.ndarray
    reorthogonalised: np.ndarray


def _matrix(values, name):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a matrix of finite numbers, got {values}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _tall(values):
    a = _matrix(values, "a")
    if a.shape[0] < a.shape[1]:
        raise ValueError(f"a must have at least as many rows as columns, got the shape {a.shape}")
    return a


def _dot(x, y):
    return math.fsum(float(s) * float(t) for s, t in zip(x, y, strict=True))


def _pass(v, basis, modified):
    """Return what is left of `v`, and its coefficients: of `v` itself, or of what the vectors before have left."""
    rest, coefficients = v, []
    for u in basis:
        coefficient = v.dtype.type(_dot(u, rest if modified else v))
        coefficients.append(coefficient)
        rest = rest - coefficient * u
    return rest, coefficients


def project_out(v, q):
    v = np.asarray(v)
    if v.dtype.kind not in "fiu" or v.ndim != 1 or not v.size or not np.isfinite(v).all():
        raise ValueError(f"v must be a vector of finite numbers, got {v}")
    v = v if v.dtype.kind == "f" else v.astype(float)
    q = np.asarray(q)
    if q.ndim != 2 or len(q) != len(v):
        raise ValueError(f"q must have {len(v)} rows, got the shape {q.shape}")
    rest, coefficients = _pass(v, list(q.T), modified=False)
    return rest.copy(), np.array(coefficients, dtype=v.dtype)


def _factor(a, passes):
    """Go column by column; `passes` says of each pass over a column whether it is a modified one."""
    a = _tall(a)
    n_rows, n_cols = a.shape
    basis, r = [], np.zeros((n_cols, n_cols), dtype=a.dtype)
    for j in range(n_cols):
        rest = a[:, j]
        for modified in passes:
            rest, coefficients = _pass(rest, basis, modified)
            for i, coefficient in enumerate(coefficients):
                r[i, j] += coefficient
        length = math.hypot(*rest.tolist())
        if length <= 10 * n_rows * np.finfo(a.dtype).eps * math.hypot(*a[:, j].tolist()):
            raise np.linalg.LinAlgError(f"column {j} of a depends on those before it")
        r[j, j] = length
        basis.append(rest / r[j, j])
    return np.stack(basis, axis=1), r


def classical_gram_schmidt(a):
    return _factor(a, [False])


def modified_gram_schmidt(a):
    return _factor(a, [True])


def reorthogonalised_gram_schmidt(a):
    return _factor(a, [False, True])


def loss_of_orthogonality(q):
    q = _matrix(q, "q")
    gram = np.array([[_dot(x, y) - (i == j) for j, y in enumerate(q.T)] for i, x in enumerate(q.T)])
    return float(np.abs(np.linalg.eigvalsh(gram)).max())


def compare_losses(matrices):
    if not len(matrices):
        raise ValueError("matrices must hold at least one matrix")
    rows = []
    for a in matrices:
        values = np.linalg.svd(_tall(a), compute_uv=False)
        row = [values[0] / values[-1]]
        for method in (classical_gram_schmidt, modified_gram_schmidt, reorthogonalised_gram_schmidt):
            row.append(loss_of_orthogonality(method(a)[0]))
        rows.append(row)
    return Comparison(*np.array(rows).T)
