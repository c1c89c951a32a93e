"""Projectors and an SVD, an indicator matrix for cuts, and sums written out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from mlpath.linalg._shared import real_array, symmetric_matrix

Affinity = Float[np.ndarray, "n n"]
Views = Float[np.ndarray, "n_views n n"]
Embeddings = Float[np.ndarray, "n_views n k"]


@dataclass(frozen=True)
class CoRegularised:
    """Embeddings of all views, and how they were found."""

    embeddings: Float[np.ndarray, "n_views n k"]
    objectives: Float[np.ndarray, " n_objectives"]
    converged: bool


def _affinity(w: Any, tau: float, name: str = "w") -> np.ndarray:  # given: argument checks
    """Return affinities, of which no degree is 0 with this tau."""
    w = symmetric_matrix(w, name)
    if w.min() < 0:
        raise ValueError(f"{name} must not be negative, got {w.min()}")
    if not 0 <= tau < np.inf:
        raise ValueError(f"tau must be 0 or more, and finite, got {tau}")
    if tau == 0 and not w.any(axis=1).all():
        raise ValueError(f"{name} must have no vertex without edges if tau is 0, got {np.flatnonzero(~w.any(axis=1))}")
    return w


def _views(views: Any, weight: float) -> np.ndarray:  # given: argument checks
    """Return the matrices of all views as one array."""
    views = real_array(views, "views", ndim=3)
    for view in views:
        symmetric_matrix(view, "views")
    if not 0 <= weight < np.inf:
        raise ValueError(f"weight must be 0 or more, and finite, got {weight}")
    return views


def _embeddings(u: Any, views: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return embeddings that fit to the views."""
    u = real_array(u, "embeddings", ndim=3)
    if u.shape[:2] != views.shape[:2] or u.shape[2] > u.shape[1]:
        raise ValueError(f"embeddings must have the shape {(*views.shape[:2], 'k')}, got {u.shape}")
    return u


def _eigenpairs(values: Any, vectors: Any) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return eigenpairs, checked."""
    values, vectors = real_array(values, "values", ndim=1), real_array(vectors, "vectors", ndim=2)
    if vectors.shape[1] != len(values):
        raise ValueError(f"vectors must have a column for each of {len(values)} values, got the shape {vectors.shape}")
    return values, vectors


def _edge(i: int, j: int, change: float, n: int) -> None:  # given: argument checks
    if not (0 <= i < n and 0 <= j < n and i != j):
        raise ValueError(f"i and j must be two different vertices from 0 to {n - 1}, got {i} and {j}")
    if not np.isfinite(change):
        raise ValueError(f"change must be finite, got {change}")


def _leading(matrix: np.ndarray, k: int) -> np.ndarray:  # given: the large end of `eigh`
    """Return the k leading eigenvectors of a symmetric matrix, the leading one first."""
    return np.linalg.eigh(matrix)[1][:, ::-1][:, :k]


def random_walk_eigenpairs(
    w: Affinity, k: int
) -> tuple[Float[np.ndarray, " {k}"], Float[np.ndarray, "n {k}"]]:  # given
    """Return the smallest eigenvalues and the eigenvectors of equation (6)."""
    w = _affinity(w, 0.0)
    if not 1 <= k <= len(w):
        raise ValueError(f"k must be from 1 to {len(w)}, got {k}")
    roots = np.sqrt(w.sum(axis=1))
    values, vectors = np.linalg.eigh(w / roots[:, None] / roots)
    return 1 - values[::-1][:k], vectors[:, ::-1][:, :k] / roots[:, None]


def normalised_affinity(w: Affinity, *, tau: float = 0.0) -> Affinity:
    """Return the matrix of equation (1), of affinities that may be regularised by (5)."""
    w = _affinity(w, tau)
    n = len(w)
    larger = w + np.full((n, n), tau / n, dtype=w.dtype)
    inverse = np.diag(larger.sum(axis=0) ** -0.5)
    return inverse @ larger @ inverse


def agreement_objective(views: Views, embeddings: Embeddings, weight: float) -> float:
    """Return how good embeddings of several views are, and how well they agree, equation (2)."""
    views = _views(views, weight)
    u = _embeddings(embeddings, views)
    total = 0.0
    for v, (view, basis) in enumerate(zip(views, u, strict=True)):
        total += np.trace(view @ basis @ basis.T)
        for other in u[v + 1 :]:
            total += weight * np.linalg.norm(basis.T @ other, "fro") ** 2
    return float(total)


def coregularised_sweep(views: Views, embeddings: Embeddings, weight: float) -> Embeddings:
    """Return the embeddings after each view's was bettered once, equation (3)."""
    views = _views(views, weight)
    u = _embeddings(embeddings, views).astype(views.dtype)
    k = u.shape[2]
    projectors = [basis @ basis.T for basis in u]
    found = []
    for v, view in enumerate(views):
        rest = sum((p for w, p in enumerate(projectors) if w != v), np.zeros_like(view))
        # The leading eigenvectors are the right singular vectors too, once no eigenvalue is negative.
        shift = 2 * np.linalg.norm(view)
        _, _, vt = np.linalg.svd(view + weight * rest + shift * np.eye(len(view)))
        projectors[v] = vt[:k].T @ vt[:k]
        found.append(-vt[:k][::-1].T)
    return np.array(found)


def coregularise(
    views: Views, k: int, *, weight: float = 0.1, tol: float = 1e-9, max_sweeps: int = 100
) -> CoRegularised:
    """Return embeddings of several views that agree: sweeps (3) until the objective (2) grows no more."""
    views = _views(views, weight)
    if not 1 <= k <= views.shape[1]:
        raise ValueError(f"k must be from 1 to {views.shape[1]}, got {k}")
    u = np.array([np.linalg.eigh(-view)[1][:, :k] for view in views])
    objectives = [agreement_objective(views, u, weight)]
    for _ in range(max_sweeps):
        u = coregularised_sweep(views, u, weight)
        objectives.append(agreement_objective(views, u, weight))
        if objectives[-1] <= objectives[-2] + tol:
            return CoRegularised(u, np.array(objectives), converged=True)
    return CoRegularised(u, np.array(objectives), converged=False)


def regularised_cut(w: Affinity, labels: Int[np.ndarray, " n"], *, tau: float = 0.0) -> float:
    """Return the normalised cut of clusters, equation (4), of affinities that may be regularised by (5)."""
    w = _affinity(w, tau)
    labels = np.asarray(labels)
    if labels.shape != (len(w),) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(w)} whole numbers, got {labels.dtype} of the shape {labels.shape}")
    _, numbers = np.unique(labels, return_inverse=True)
    members = np.eye(numbers.max() + 1)[numbers]
    larger = w + tau / len(w)
    volumes = larger.sum(axis=1) @ members
    return float((1 - np.diag(members.T @ larger @ members) / volumes).sum())


def changed_eigenvalues(
    values: Float[np.ndarray, " k"], vectors: Float[np.ndarray, "n k"], i: int, j: int, change: float
) -> Float[np.ndarray, " k"]:
    """Return the eigenvalues (6) after the weight of an edge has changed, to first order: equation (8)."""
    values, vectors = _eigenpairs(values, vectors)
    _edge(i, j, change, len(vectors))
    new = values.copy()
    for a in range(len(values)):
        x, y = vectors[i, a], vectors[j, a]
        new[a] += change * ((1 - values[a]) * (x * x + y * y) - 2 * x * y)
    return new


def changed_eigenvectors(
    values: Float[np.ndarray, " k"], vectors: Float[np.ndarray, "n k"], i: int, j: int, change: float
) -> Float[np.ndarray, "n k"]:
    """Return the eigenvectors (6) after the weight of an edge has changed, to first order: equation (9)."""
    values, vectors = _eigenpairs(values, vectors)
    _edge(i, j, change, len(vectors))
    gaps = values - values[:, None] + np.eye(len(values), dtype=values.dtype)
    if abs(gaps).min() < 1e-10:
        raise ValueError(f"values must all be different, got {np.sort(values)}")
    n, k = vectors.shape
    move_l, move_d = np.zeros((n, n), dtype=vectors.dtype), np.zeros((n, n), dtype=vectors.dtype)
    move_l[[i, j], [i, j]], move_l[[i, j], [j, i]] = change, -change
    move_d[[i, j], [i, j]] = change
    new = vectors.copy()
    for a in range(k):
        v = vectors[:, a]
        for b in range(k):
            if b == a:
                new[:, a] -= v * (v @ move_d @ v) / 2
            else:
                new[:, a] -= (
                    vectors[:, b] * (vectors[:, b] @ (move_l - values[a] * move_d) @ v) / (values[b] - values[a])
                )
    return new


def extend(
    values: Float[np.ndarray, " k"], vectors: Float[np.ndarray, "n k"], affinities: Float[np.ndarray, "n_new n"]
) -> Float[np.ndarray, "n_new k"]:
    """Return the entries of eigenvectors (6) for new vertices, equation (10)."""
    values, vectors = _eigenpairs(values, vectors)
    affinities = real_array(affinities, "affinities", ndim=2)
    if affinities.shape[1] != len(vectors) or affinities.min() < 0 or not affinities.any(axis=1).all():
        raise ValueError(
            f"affinities must have a row of {len(vectors)} for each vertex, not negative and not all 0, got {affinities}"
        )
    if abs(values - 1).min() < 1e-10:
        raise ValueError(f"values must not be 1, got {values}")
    rows = [(row / row.sum()) @ vectors / (1 - values) for row in affinities]
    return np.array(rows, dtype=vectors.dtype)
