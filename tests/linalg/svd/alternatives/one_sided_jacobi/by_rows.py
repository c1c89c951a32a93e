"""One pair after another, row by row, as in the textbooks: Python loops over lists of columns, and a basis completed by QR.

Columns are sorted by length before the first sweep, and scaled by a power of two, so that nothing is rounded.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SVD:
    u: np.ndarray
    s: np.ndarray
    vt: np.ndarray
    sweeps: int


def _numbers(values, name, ndim=2):
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers along {ndim} axes, got {values}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _columns(g, v):
    g, v = _numbers(g, "g"), _numbers(v, "v")
    if v.shape != (g.shape[1], g.shape[1]):
        raise ValueError("v must be square and fit to g")
    return g, v


def column_norms(g):
    g = _numbers(g, "g")
    return np.array([math.hypot(*map(float, column)) for column in g.T], dtype=g.dtype)


def _angle(norm_p, norm_q, cosine):
    """With the smaller quotient r of the lengths: t = 2 r cosine / (1 - r^2 + ...), which divides by nothing that vanishes."""
    if cosine == 0:
        return 1.0, 0.0
    r = min(norm_p, norm_q) / max(norm_p, norm_q)
    gap = (1 - r) * (1 + r)
    t = 2 * r * cosine / (gap + math.hypot(gap, 2 * r * cosine))
    c = 1 / math.hypot(1, t)
    return c, (t if norm_q >= norm_p else -t) * c


def rotation(norm_p, norm_q, cosine):
    if not np.shape(norm_p) == np.shape(norm_q) == np.shape(cosine) or np.ndim(cosine) != 1:
        raise ValueError("cosine must be as long as the lengths")
    if not np.isfinite([norm_p, norm_q, cosine]).all():
        raise ValueError("cosine must be finite, as the lengths")
    found = [_angle(*map(float, pair)) for pair in zip(norm_p, norm_q, cosine)]
    c, s = np.array(found).reshape(-1, 2).T.astype(cosine.dtype)
    return c, s


def sweep(g, v):
    g, v = _columns(g, v)
    g, v, largest = g.copy(), v.copy(), 0.0
    for p in range(g.shape[1]):
        for q in range(p + 1, g.shape[1]):
            norm_p, norm_q = column_norms(g[:, [p, q]])
            if norm_p == 0 or norm_q == 0:
                continue
            cosine = float((g[:, p] / norm_p) @ (g[:, q] / norm_q))
            largest = max(largest, abs(cosine))
            c, s = _angle(float(norm_p), float(norm_q), cosine)
            for x in (g, v):
                x[:, p], x[:, q] = c * x[:, p] - s * x[:, q], s * x[:, p] + c * x[:, q]
    return g, v, largest


def complete_basis(q, n_columns):
    q = np.asarray(q)
    if q.ndim != 2 or q.dtype.kind != "f" or not len(q) or not np.isfinite(q).all():
        raise ValueError("q must be a matrix of floats")
    if not np.abs(q.T @ q - np.eye(q.shape[1])).max(initial=0) <= 1e-3:
        raise ValueError("q must be orthonormal")
    if not q.shape[1] <= n_columns <= len(q):
        raise ValueError("n_columns must fit")
    if q.shape[1] == 0:
        return np.eye(len(q), n_columns, dtype=q.dtype)
    more = np.linalg.qr(q, mode="complete")[0][:, q.shape[1] : n_columns]
    return np.hstack([q, more])


def from_columns(g, v):
    g, v = _columns(g, v)
    if len(g) < g.shape[1]:
        raise ValueError("g must be tall")
    norms = column_norms(g)
    order = sorted(range(len(norms)), key=lambda j: norms[j], reverse=True)
    u = [g[:, j] / norms[j] for j in order if norms[j] > 0]
    u = np.column_stack(u) if u else np.empty((len(g), 0), g.dtype)
    return complete_basis(u, g.shape[1]), norms[order], v.T[order]


def settle_signs(u, vt):
    u, vt = _numbers(u, "u").copy(), _numbers(vt, "vt").copy()
    for k in range(max(u.shape[1], len(vt))):
        decides = u[:, k] if k < u.shape[1] else vt[k]
        if decides[np.argmax(np.abs(decides))] < 0:
            if k < u.shape[1]:
                u[:, k] *= -1
            if k < len(vt):
                vt[k] *= -1
    return u, vt


def svd(a, *, full=False, max_sweeps=50):
    a = _numbers(a, "a")
    if max_sweeps < 1:
        raise ValueError("max_sweeps must be positive")
    g = a if a.shape[0] >= a.shape[1] else a.T
    exponent = int(np.frexp(np.abs(a).max())[1])
    g = np.ldexp(g, -exponent)  # by a power of 2: nothing is rounded
    order = np.argsort(-column_norms(g))
    g, v = g[:, order], np.eye(len(order), dtype=a.dtype)[:, order]
    sweeps = 0
    while True:
        g, v, largest = sweep(g, v)
        sweeps += 1
        if largest <= len(g) * np.finfo(a.dtype).eps:
            break
        if sweeps >= max_sweeps:
            raise np.linalg.LinAlgError("not converged")
    u, s, vt = from_columns(g, v)
    u = complete_basis(u, len(u)) if full else u
    u, vt = settle_signs(u, vt) if a.shape[0] >= a.shape[1] else settle_signs(vt.T, u.T)
    return SVD(u, np.ldexp(s, exponent), vt, sweeps)


def by_eigenvalues(a, matrix):
    a = _numbers(a, "a")
    m, n = a.shape
    exponent = int(np.frexp(np.abs(a).max())[1])
    a = np.ldexp(a, -exponent)
    if matrix == "gram":
        values = np.sqrt(np.clip(np.linalg.eigvalsh(a @ a.T if m < n else a.T @ a), 0, None))
    elif matrix == "dilation":
        both = np.zeros((m + n, m + n), a.dtype)
        both[:n, n:], both[n:, :n] = a.T, a
        values = np.clip(np.linalg.eigh(both)[0], 0, None)
    else:
        raise ValueError("matrix must be 'gram' or 'dilation'")
    return np.ldexp(np.sort(values)[::-1][: min(m, n)], exponent)
