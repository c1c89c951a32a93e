"""The vectors are rows in storage, and the second pass goes over the whole matrix: Q = Q' R', so A = Q' (R' R).

Columns are scaled to length 1 beforehand, so that plain norms neither overflow nor vanish; R takes the lengths back.
"""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class Comparison:
    conditions: np.ndarray
    classical: np.ndarray
    modified: np.ndarray
    reorthogonalised: np.ndarray


def project_out(v, q):
    v, q = real_array(v, "v", ndim=1), np.asarray(q)
    if q.ndim != 2 or len(q) != len(v):
        raise ValueError(f"q must have {len(v)} rows, got the shape {q.shape}")
    coefficients = (q * v[:, None]).sum(axis=0)
    return v - (q * coefficients).sum(axis=1), coefficients


def _unit_rows(a):
    """Return the columns of `a` as rows of length 1, and their lengths."""
    a = real_array(a, "a", ndim=2)
    if a.shape[0] < a.shape[1]:
        raise ValueError(f"a must have at least as many rows as columns, got the shape {a.shape}")
    largest = np.abs(a).max(axis=0)
    largest[largest == 0] = 1
    lengths = largest * np.sqrt(np.square(a / largest).sum(axis=0))
    # A zero column stays zero, and is found out when its turn comes.
    return np.ascontiguousarray((a / np.where(lengths == 0, 1, lengths)).T), lengths


def _normalise(row, col):
    length = np.sqrt(row @ row)
    if length <= 10 * len(row) * np.finfo(row.dtype).eps:
        raise np.linalg.LinAlgError(f"column {col} of a depends on those before it")
    row /= length
    return length


def _modified(rows):
    """Turn rows into orthonormal ones in place, each as soon as its turn comes, and return the triangle."""
    r = np.zeros((len(rows), len(rows)), dtype=rows.dtype)
    for j, row in enumerate(rows):
        for i in range(j):
            r[i, j] = rows[i] @ row
            row -= r[i, j] * rows[i]
        r[j, j] = _normalise(row, j)
    return r


def classical_gram_schmidt(a):
    rows, lengths = _unit_rows(a)
    r = np.zeros((len(rows), len(rows)), dtype=rows.dtype)
    for j in range(len(rows)):
        r[:j, j] = rows[:j] @ rows[j]
        rows[j] -= r[:j, j] @ rows[:j]
        r[j, j] = _normalise(rows[j], j)
    return rows.T, r * lengths


def modified_gram_schmidt(a):
    rows, lengths = _unit_rows(a)
    r = _modified(rows)
    return rows.T, r * lengths


def reorthogonalised_gram_schmidt(a):
    rows, lengths = _unit_rows(a)
    first = _modified(rows)
    second = _modified(rows)
    return rows.T, np.triu(second @ first) * lengths


def loss_of_orthogonality(q):
    q = real_array(q, "q", ndim=2)
    return float(np.linalg.svd(q.T @ q - np.eye(q.shape[1]), compute_uv=False)[0])


def compare_losses(matrices):
    if not len(matrices):
        raise ValueError("matrices must hold at least one matrix")
    losses = {"classical": [], "modified": [], "reorthogonalised": []}
    for a in matrices:
        for name, found in losses.items():
            found.append(loss_of_orthogonality(globals()[f"{name}_gram_schmidt"](a)[0]))
    return Comparison(np.array([np.linalg.cond(a) for a in matrices]), **{k: np.array(v) for k, v in losses.items()})
