"""Row by row: of each row only the entries that are not 0 are looked at, and (7) by the shares of (5); signs by comparing norms."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, issparse

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class Factorization:
    w: np.ndarray
    h: np.ndarray
    objective: np.ndarray
    n_iter: int
    converged: bool


def _data(a):
    if issparse(a):
        if 0 in a.shape or not np.isfinite(a.data).all() or (a.data < 0).any():
            raise ValueError("a ")
        return csr_array(a)
    a = real_array(a, "a", ndim=2)
    if (a < 0).any():
        raise ValueError("a ")
    return a


def _factors(a, w, h):
    w, h = real_array(w, "w", ndim=2), real_array(h, "h", ndim=2)
    if w.shape[0] != a.shape[0] or (w < 0).any():
        raise ValueError("w ")
    if h.shape != (w.shape[1], a.shape[1]) or (h < 0).any():
        raise ValueError("h ")
    return w, h


def _loss(loss):
    if loss not in ("frobenius", "kl"):
        raise ValueError("loss ")


def _rows(a):
    """Of each row the columns that are looked at, and the entries there."""
    if issparse(a):
        a = csr_array(a)
        for i in range(a.shape[0]):
            part = slice(a.indptr[i], a.indptr[i + 1])
            yield a.indices[part], a.data[part]
    else:
        for row in a:
            yield np.flatnonzero(row), row[row != 0]


def divergence(a, w, h, loss="frobenius"):
    a = _data(a)
    w, h = _factors(a, w, h)
    _loss(loss)
    total = 0.0
    for (columns, values), mix in zip(_rows(a), w):
        p = mix @ h
        if loss == "frobenius":
            p[columns] -= values
            total += float(p @ p) / 2
            continue
        if (p[columns] == 0).any():
            return float("inf")
        total += float(np.sum(values * (np.log(values) - np.log(p[columns])))) - float(values.sum()) + float(p.sum())
    return total


def quotients(a, w, h):
    w, h = _factors(a, w, h)
    rows, columns, found = [], [], []
    for i, (here, values) in enumerate(_rows(a)):
        p = w[i] @ h[:, here]
        rows += [i] * len(here)
        columns += list(here)
        found += [x / y if y else 0.0 for x, y in zip(values, p)]
    dtype = np.result_type(a.dtype, w, h)
    made = csr_array((np.array(found, dtype), (np.array(rows, int), np.array(columns, int))), shape=a.shape)
    return made if issparse(a) else made.toarray()


def gradient(a, w, h, loss="frobenius"):
    w, h = _factors(a, w, h)
    _loss(loss)
    found = np.zeros(w.shape)
    for i, (columns, values) in enumerate(_rows(a)):
        p = w[i] @ h
        if loss == "kl":
            slopes = np.ones_like(p)
            slopes[columns] -= np.where(p[columns] > 0, values / np.where(p[columns] > 0, p[columns], 1), 0)
        else:
            slopes = p
            slopes[columns] -= values
        found[i] = h @ slopes
    return found


def _ratio(top, bottom):
    found = np.zeros_like(top)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return found


def frobenius_update(a, w, h):
    w, h = _factors(a, w, h)
    gram = np.einsum("kj,lj->kl", h, h)
    return np.array(
        [x * _ratio(h[:, j] @ y, gram @ x) for (j, y), x in zip(_rows(a), w)], np.result_type(a.dtype, w, h)
    )


def kl_update(a, w, h):
    w, h = _factors(a, w, h)
    found = np.zeros_like(w)
    for i, (columns, values) in enumerate(_rows(a)):
        amounts = w[i][:, None] * h[:, columns]  # of part k in entry j
        share = _ratio(amounts, np.broadcast_to(amounts.sum(axis=0), amounts.shape))
        found[i] = _ratio(share @ values, h.sum(axis=1))
    return found


def nndsvd(a, n_parts, *, fill=0.0):
    a = _data(a)
    if n_parts not in range(1, min(a.shape) + 1):
        raise ValueError("n_parts ")
    if not 0 <= fill < np.inf:
        raise ValueError("fill ")
    full = a.toarray() if issparse(a) else a
    u, s, vt = np.linalg.svd(full, full_matrices=False)
    columns, rows = [], []
    for j in range(n_parts):
        positive = np.outer(np.maximum(u[:, j], 0), np.maximum(vt[j], 0))
        negative = np.outer(np.minimum(u[:, j], 0), np.minimum(vt[j], 0))
        kept = max(positive, negative, key=np.linalg.norm) * s[j]
        size = np.linalg.norm(kept)
        x, y = kept.sum(axis=1), kept.sum(axis=0)  # a matrix of rank 1: sums of rows go with the column
        scale = [np.sqrt(size) / (np.linalg.norm(z) or 1) for z in (x / (size or 1), y / (size or 1))]
        columns.append(x / (size or 1) * scale[0])
        rows.append(y / (size or 1) * scale[1])
    value = fill * np.sqrt(full.mean() / n_parts)
    w, h = np.array(columns).T, np.array(rows)
    return np.where(w == 0, value, w).astype(a.dtype), np.where(h == 0, value, h).astype(a.dtype)


def factorize(a, w, h, *, loss="frobenius", max_iter=200, tol=1e-4, update_h=True):
    a = _data(a)
    w, h = _factors(a, w, h)
    _loss(loss)
    if max_iter < 1 or max_iter != int(max_iter):
        raise ValueError("max_iter ")
    if not 0 <= tol < np.inf:
        raise ValueError("tol ")
    update = {"kl": kl_update, "frobenius": frobenius_update}[loss]
    turned = csr_array(a.T) if issparse(a) else a.T
    records = [divergence(a, w, h, loss)]
    for n in range(1, max_iter + 1):
        w = update(a, w, h)
        h = update(turned, h.T, w.T).T if update_h else h
        if n % 10 and n < max_iter:
            continue
        records.append(divergence(a, w, h, loss))
        if records[-1] == records[-2] or records[-2] - records[-1] <= tol * records[-2] < np.inf:
            return Factorization(w, h, np.array(records), n, True)
    return Factorization(w, h, np.array(records), max_iter, False)


def transform(a, h, *, loss="frobenius", max_iter=200, tol=1e-4):
    a, h = _data(a), real_array(h, "h", ndim=2)
    start = np.ones((a.shape[0], h.shape[0]), h.dtype)
    return factorize(a, start, h, loss=loss, max_iter=max_iter, tol=tol, update_h=False)
