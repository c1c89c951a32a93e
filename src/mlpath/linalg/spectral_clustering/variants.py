r"""Variants of spectral clustering: several views, stray vertices, and graphs that change.

## Idea

Three things happen to spectral clustering in practice. The same objects are described twice, by text and by links, and
neither *view* is enough. A few vertices hang on the graph by a thread, and the eigenvectors care for nothing else. And
tomorrow the graph has another edge, or another vertex, and all was to be computed again. For each there is a small
remedy.

## Maths

Let $W$ be the symmetric affinities of $n$ vertices, $d = W \mathbf 1$ their degrees, $D = \operatorname{diag}(d)$,
$L = D - W$. The leading $k$ eigenvectors of

$$N = D^{-1/2}\, W D^{-1/2}, \qquad U = \arg\max_{U^\top U = I} \operatorname{tr}(U^\top N U), \tag{1}$$

are the embedding, one vertex a row.

**Several views.** View $v$ has $N_v$. Only the subspace of $U_v$ counts, thus $U_v U_v^\top$, and two views agree as
much as these do: $\operatorname{tr}(U_v U_v^\top U_w U_w^\top) = \lVert U_v^\top U_w \rVert_F^2$, from 0 to $k$.
*Co-regularisation* wants good embeddings that agree,

$$J = \sum_v \operatorname{tr}(U_v^\top N_v U_v) + \beta \sum_{v < w} \lVert U_v^\top U_w \rVert_F^2. \tag{2}$$

In $U_v$ alone, the others fixed, (2) is $\operatorname{tr}(U_v^\top M_v U_v)$ and a constant, with

$$M_v = N_v + \beta \sum_{w \ne v} U_w U_w^\top, \tag{3}$$

so that its maximum is at the $k$ leading eigenvectors of $M_v$. One view after the other, each with the newest of the
others: no step lowers $J$, which is at most $Vk + \beta k V (V - 1) / 2$ and therefore converges. For $\beta = 0$ each
view is alone, and for large $\beta$ all have to agree on one $U$, that of $\sum_v N_v$: the mean of the views, the
baseline.

**Stray vertices.** The normalised cut of clusters $S_c$ adds up what is cut over what there is,

$$\sum_c \frac{\operatorname{cut}(S_c)}{\operatorname{vol}(S_c)}, \qquad \operatorname{cut}(S) = \sum_{i \in S, j \notin S} W_{ij}, \quad \operatorname{vol}(S) = \sum_{i \in S} d_i. \tag{4}$$

In a sparse random graph some small tree of $s$ vertices hangs on one edge: its cut is 1, its volume $2 s - 1$. With
$s = 5$ that is a share of $1/9$, and nearly nothing for the rest. Two true communities that are joined by a sixth of
their edges have $1/6$ each: no chance. *Regularisation* adds a weak edge between all pairs of vertices (and a loop at
each),

$$W_\tau = W + \frac{\tau}{n} \mathbf 1 \mathbf 1^\top, \qquad d_\tau = d + \tau. \tag{5}$$

For (4) this means $\operatorname{cut}_\tau(S) = \operatorname{cut}(S) + \tau |S| (n - |S|) /
n$ and $\operatorname{vol}_\tau(S) = \operatorname{vol}(S) + \tau
|S|$. A small set now pays nearly $\tau$ for each of its vertices, a half of all only $\tau /
2$. If the mean degree is 6 and $\tau = 6$, the tree has the share $(1 + 30) / (9 + 30) =
0.79$, and each community, with $\operatorname{vol} = 3 n$, $(n/2 + 3n/2) / (3 n + 3 n) =
1/3$: together $0.67$, and they win. A $\tau$ near the mean degree is the usual choice.

**Graphs that change.** Now the eigenvectors of the random walk. They are those of (1) divided by the roots of the
degrees, and $\lambda$ is 1 less the eigenvalue of (1):

$$L v = \lambda D v, \qquad v_a^\top D v_b = [a = b]. \tag{6}$$

Let one edge change, $W_{ij} \to W_{ij} + \delta$. With $r = e_i - e_j$ both matrices change a little,

$$\Delta L = \delta\, r r^\top, \qquad \Delta D = \delta\, (e_i e_i^\top + e_j e_j^\top). \tag{7}$$

Put $\lambda_a + \Delta \lambda_a$ and $v_a + \Delta v_a$ into (6), drop products of changes, and multiply by
$v_b^\top$. With $C_{ba} = v_b^\top (\Delta L - \lambda_a \Delta D)\, v_a$ it remains $(\lambda_b - \lambda_a)\,
v_b^\top D \Delta v_a + C_{ba} = \Delta \lambda_a [a = b]$. For $b = a$

$$\Delta \lambda_a = C_{aa} = \delta \big( (v_{ia} - v_{ja})^2 - \lambda_a (v_{ia}^2 + v_{ja}^2) \big), \tag{8}$$

and for the others, with the length that (6) asks for,

$$\Delta v_a = \sum_{b \ne a} \frac{C_{ba}}{\lambda_a - \lambda_b}\, v_b - \tfrac12 (v_a^\top \Delta D\, v_a)\, v_a. \tag{9}$$

With all $n$ eigenvectors the error is of order $\delta^2$; with some of them (9) finds what of the change lies in their
span, which itself stays what it was: they turn, but they do not leave it.

A new vertex with affinities $w$ to the old ones should not alter them much. (6) says $D^{-1} W v = (1 - \lambda) v$:
each entry is the mean of its neighbours', divided by $1 - \lambda$. So

$$v_{\text{new}} = \frac{1}{1 - \lambda}\, \frac{\sum_j w_j v_j}{\sum_j w_j}, \tag{10}$$

which is Nyström's formula; for $w$ a row of $W$ it returns the old vertex's entry exactly.

## Worked example

Two vertices and an edge of weight 2: $d = (2, 2)$, and (6) has $\lambda = 0$ with $v = (\frac12, \frac12)$ and
$\lambda = 2$ with $v = (\frac12, -\frac12)$. Let the weight be $2 + \delta$: by (8)
$\Delta \lambda = \delta (1 - 2 \cdot \frac12) = 0$, rightly, as the weight cancels. By (9)
$v^\top \Delta D v = \delta / 2$ and $\Delta v = -\frac\delta4 v$; truly it is $v$ times
$(1 + \delta/2)^{-1/2} - 1 \approx -\delta / 4$.

A new vertex with $w = (3, 1)$ gets by (10), for $\lambda = 2$, $(3 \cdot \frac12 - \frac12) / 4 / (1 - 2) = -\frac14$.
(In this bipartite graph a neighbour of the first is on the side of the second.)

A path 1-2-3-4, $\tau = 1$, $S = \{1, 2\}$: cut 1, volume 3 becomes cut $1 + 2 \cdot 2 / 4 = 2$, volume $3 + 2 = 5$;
both halves make $4/5$ instead of $2/3$. For $\{1\}$ and the rest $1 + \frac15 = 1.2$ becomes
$1.75 / 2 + 1.75 / 8 = 1.09$.

Two views of two vertices with $k = 1$, $U_1 = (0.6, 0.8)^\top$, $U_2 = (1, 0)^\top$: they agree by $0.36$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `normalised_affinity` | $W$, $\tau$ | $N$, of $W_\tau$ | (1), (5) |
| `agreement_objective` | the $N_v$, the $U_v$, $\beta$ | $J$ | (2) |
| `coregularised_sweep` | the same | the $U_v$, each bettered once | (3) |
| `coregularise` | the $N_v$, $k$, $\beta$ | a `CoRegularised` | (2), (3) |
| `regularised_cut` | $W$, clusters, $\tau$ | the normalised cut | (4), (5) |
| `changed_eigenvalues` | eigenpairs, $i$, $j$, $\delta$ | new eigenvalues | (8) |
| `changed_eigenvectors` | the same | new eigenvectors | (9) |
| `extend` | eigenpairs, affinities of new vertices | their entries | (10) |

Given: `random_walk_eigenpairs`, which solves (6); `_leading`, the leading eigenvectors of a symmetric matrix. What the
embedding is for, $k$-means on its rows, is not repeated here.

## Pitfalls

- $J$ falls now and then: an old $U$ where the newest belongs.
- The views agree perfectly, and the clusters are no better than those of the worst view: $\beta$ is large and that view
  is noise.
- One cluster of five vertices and one of all the others.
- Division by zero in (9), or vectors of enormous length: two eigenvalues are equal, and their vectors may turn by any
  angle.
- First order is followed for a hundred changes, and the vectors are no longer orthogonal.
- The new vertex has the right direction and is too near to the middle.

## Cost

A sweep costs an eigenproblem for each view, $O(V n^3)$ here, where full matrices are solved; for large sparse graphs
one takes products, as (3) and (5) are a sparse matrix and one of low rank. An update of $k$ eigenpairs by (8) and (9)
takes $O(k^2)$ and $O(n k^2)$, an extension $O(n k)$ for each new vertex. For 10 eigenpairs of 1,000 vertices that was
0.3 and 0.15 milliseconds, where computing anew took 1.1 seconds for all of them, and 70 milliseconds for ten by
Lanczos.

What is not here: weights of the views, learnt with the embeddings; tensor methods; updates that correct themselves by
iterations [5].

## Go further

Experiment: follow a hundred changes of edges by (8) and (9) with 10 of 200 eigenpairs, and plot the angle to the true
subspace; recompute every 20 changes. A stretch goal: a Rayleigh-Ritz step in the span of the old vectors and
$D^{-1} r$, and how much longer that stays right.

## References

1. Kumar, Rai & Daumé (2011), Co-regularized multi-view spectral clustering,
   https://papers.nips.cc/paper/4360-co-regularized-multi-view-spectral-clustering
2. Amini, Chen, Bickel & Levina (2013), Pseudo-likelihood methods for community detection in large sparse networks,
   https://doi.org/10.1214/13-AOS1138
3. Qin & Rohe (2013), Regularized spectral clustering under the degree-corrected stochastic blockmodel,
   https://arxiv.org/abs/1309.4111
4. Zhang & Rohe (2018), Understanding regularized spectral clustering via graph conductance,
   https://arxiv.org/abs/1806.01468
5. Ning, Xu, Chi, Gong & Huang (2010), Incremental spectral clustering by efficiently updating the eigen-system,
   https://doi.org/10.1016/j.patcog.2009.06.001
6. Bengio et al. (2003), Out-of-sample extensions for LLE, Isomap, MDS, Eigenmaps, and spectral clustering,
   https://papers.nips.cc/paper/2461-out-of-sample-extensions-for-lle-isomap-mds-eigenmaps-and-spectral-clustering
"""

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
    """Embeddings of all views, and how they were found.

    Attributes
    ----------
    embeddings : ndarray of shape (n_views, n, k)
        Orthonormal columns for each view.
    objectives : ndarray of shape (n_sweeps + 1,)
        The objective (2) at the start and after each sweep.
    converged : bool
        Whether the last sweep raised it by at most the tolerance.

    Examples
    --------
    >>> CoRegularised(np.ones((2, 1, 1)), np.array([3.0]), converged=True).objectives
    array([3.])
    """

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
    """Return the smallest eigenvalues and the eigenvectors of equation (6).

    Parameters
    ----------
    w : ndarray
        The affinities; every vertex has an edge.
    k : int
        How many.

    Returns
    -------
    values : ndarray
        From 0 to 2, the smallest first; that is 0.
    vectors : ndarray
        One a column, of length 1 in the sense of (6).

    Raises
    ------
    ValueError
        If `w` is not symmetric, negative or has a vertex without edges, or `k` is not from 1 to the number of vertices.

    Examples
    --------
    >>> values, vectors = random_walk_eigenpairs(np.array([[0.0, 2.0], [2.0, 0.0]]), 2)
    >>> print(abs(values).round(4), abs(vectors[0]).round(4))
    [0. 2.] [0.5 0.5]
    """
    w = _affinity(w, 0.0)
    if not 1 <= k <= len(w):
        raise ValueError(f"k must be from 1 to {len(w)}, got {k}")
    roots = np.sqrt(w.sum(axis=1))
    values, vectors = np.linalg.eigh(w / roots[:, None] / roots)
    return 1 - values[::-1][:k], vectors[:, ::-1][:, :k] / roots[:, None]


def normalised_affinity(w: Affinity, *, tau: float = 0.0) -> Affinity:
    """Return the matrix of equation (1), of affinities that may be regularised by (5).

    Parameters
    ----------
    w : ndarray
        The affinities, symmetric and not negative.
    tau : float
        How much every degree grows. 0 or more.

    Returns
    -------
    ndarray
        A symmetric matrix with the largest eigenvalue 1.

    Raises
    ------
    ValueError
        If `w` is not symmetric or negative, `tau` is negative, or a vertex has no edge and `tau` is 0.

    Examples
    --------
    >>> normalised_affinity(np.array([[0.0, 2.0], [2.0, 0.0]]), tau=2.0)
    array([[0.25, 0.75],
           [0.75, 0.25]])
    """
    # given: the checks
    w = _affinity(w, tau)
    # yours
    roots = np.sqrt(w.sum(axis=1) + tau)
    return (w + tau / len(w)) / roots[:, None] / roots


def agreement_objective(views: Views, embeddings: Embeddings, weight: float) -> float:
    """Return how good embeddings of several views are, and how well they agree, equation (2).

    Parameters
    ----------
    views : ndarray
        The matrix (1) of each view.
    embeddings : ndarray
        The embedding of each view, its columns orthonormal.
    weight : float
        How much agreement counts, beta. 0 or more.

    Returns
    -------
    float
        The objective J, in which each pair of views counts once.

    Raises
    ------
    ValueError
        If `views` are not symmetric matrices, `embeddings` do not fit to them, or `weight` is negative.

    Examples
    --------
    >>> round(agreement_objective(np.zeros((2, 2, 2)), np.array([[[0.6], [0.8]], [[1.0], [0.0]]]), 10.0), 4)
    3.6
    """
    # given: the checks
    views = _views(views, weight)
    u = _embeddings(embeddings, views)
    # yours
    own = (u * (views @ u)).sum()
    agreement = sum(((u[v].T @ u[w]) ** 2).sum() for v in range(len(u)) for w in range(v))
    return float(own + weight * agreement)


def coregularised_sweep(views: Views, embeddings: Embeddings, weight: float) -> Embeddings:
    """Return the embeddings after each view's was bettered once, equation (3).

    Parameters
    ----------
    views : ndarray
        The matrix (1) of each view.
    embeddings : ndarray
        The embedding of each view, its columns orthonormal.
    weight : float
        How much agreement counts, beta. 0 or more.

    Returns
    -------
    ndarray
        New embeddings, for one view after the other in their order, each with the newest ones of the others. The
        columns of each are orthonormal; only their span has a meaning.

    Raises
    ------
    ValueError
        If `views` are not symmetric matrices, `embeddings` do not fit to them, or `weight` is negative.

    Examples
    --------
    >>> views = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
    >>> abs(coregularised_sweep(views, np.array([[[1.0], [0.0]], [[0.0], [1.0]]]), 3.0)[0])
    array([[0.],
           [1.]])
    """
    # given: the checks, and a copy
    views = _views(views, weight)
    u = _embeddings(embeddings, views).astype(views.dtype)
    # yours
    for v in range(len(u)):
        others = np.concatenate(np.delete(u, v, axis=0), axis=1) if len(u) > 1 else np.zeros_like(u[0])
        u[v] = _leading(views[v] + weight * others @ others.T, u.shape[2])
    return u


def coregularise(
    views: Views, k: int, *, weight: float = 0.1, tol: float = 1e-9, max_sweeps: int = 100
) -> CoRegularised:
    """Return embeddings of several views that agree: sweeps (3) until the objective (2) grows no more.

    Parameters
    ----------
    views : ndarray
        The matrix (1) of each view.
    k : int
        The number of dimensions.
    weight : float
        How much agreement counts, beta. 0 or more.
    tol : float
        It ends when a sweep raises the objective by at most so much.
    max_sweeps : int
        It ends anyway after so many.

    Returns
    -------
    CoRegularised
        It begins with each view's own embedding (1).

    Raises
    ------
    ValueError
        If `views` are not symmetric matrices, `k` is not from 1 to the number of vertices, or `weight` is negative.

    Examples
    --------
    >>> views = np.array([[[1.0, 0.2], [0.2, 0.0]], [[0.0, 0.2], [0.2, 0.5]]])
    >>> found = coregularise(views, 1, weight=1.0)
    >>> print(found.converged, found.objectives[[0, -1]].round(4))
    True [1.8622 2.3123]
    """
    # given: the checks
    views = _views(views, weight)
    if not 1 <= k <= views.shape[1]:
        raise ValueError(f"k must be from 1 to {views.shape[1]}, got {k}")
    # yours
    u = np.stack([_leading(view, k) for view in views])
    objectives = [agreement_objective(views, u, weight)]
    converged = False
    while not converged and len(objectives) <= max_sweeps:
        u = coregularised_sweep(views, u, weight)
        objectives.append(agreement_objective(views, u, weight))
        converged = objectives[-1] - objectives[-2] <= tol
    return CoRegularised(u, np.array(objectives), converged)


def regularised_cut(w: Affinity, labels: Int[np.ndarray, " n"], *, tau: float = 0.0) -> float:
    """Return the normalised cut of clusters, equation (4), of affinities that may be regularised by (5).

    Parameters
    ----------
    w : ndarray
        The affinities, symmetric and not negative.
    labels : ndarray
        The cluster of each vertex, any whole numbers.
    tau : float
        How much every degree grows. 0 or more.

    Returns
    -------
    float
        From 0 to the number of clusters; 0 for one cluster of all. A loop is never cut.

    Raises
    ------
    ValueError
        If `w` is not symmetric or negative, `tau` is negative, a vertex has no edge and `tau` is 0, or `labels` has not
        one whole number for each vertex.

    Examples
    --------
    >>> path = np.eye(4, k=1) + np.eye(4, k=-1)
    >>> [round(regularised_cut(path, np.array([0, 0, 1, 1]), tau=tau), 4) for tau in (0.0, 1.0)]
    [0.6667, 0.8]
    """
    # given: the checks
    w = _affinity(w, tau)
    labels = np.asarray(labels)
    if labels.shape != (len(w),) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(w)} whole numbers, got {labels.dtype} of the shape {labels.shape}")
    # yours
    n, shares = len(w), []
    for c in np.unique(labels):
        inside = labels == c
        size = int(inside.sum())
        cut = w[inside][:, ~inside].sum() + tau * size * (n - size) / n
        shares.append(cut / (w[inside].sum() + tau * size))
    return float(sum(shares))


def changed_eigenvalues(
    values: Float[np.ndarray, " k"], vectors: Float[np.ndarray, "n k"], i: int, j: int, change: float
) -> Float[np.ndarray, " k"]:
    """Return the eigenvalues (6) after the weight of an edge has changed, to first order: equation (8).

    Parameters
    ----------
    values, vectors : ndarray
        Eigenpairs before the change, the vectors of length 1 in the sense of (6). Any of them, in any order.
    i, j : int
        The ends of the edge.
    change : float
        By how much its weight grows, delta. It may be new, or vanish.

    Returns
    -------
    ndarray
        The new eigenvalues, in the old order.

    Raises
    ------
    ValueError
        If there is not a vector for each value, `i` and `j` are not two different vertices, or `change` is not finite.

    Examples
    --------
    >>> changed_eigenvalues(np.array([0.5]), np.array([[0.6], [-0.3], [0.1]]), 0, 2, 0.1).round(4)
    array([0.5065])
    """
    # given: the checks
    values, vectors = _eigenpairs(values, vectors)
    _edge(i, j, change, len(vectors))
    # yours
    at_i, at_j = vectors[i], vectors[j]
    return values + change * ((at_i - at_j) ** 2 - values * (at_i**2 + at_j**2))


def changed_eigenvectors(
    values: Float[np.ndarray, " k"], vectors: Float[np.ndarray, "n k"], i: int, j: int, change: float
) -> Float[np.ndarray, "n k"]:
    """Return the eigenvectors (6) after the weight of an edge has changed, to first order: equation (9).

    Parameters
    ----------
    values, vectors : ndarray
        Eigenpairs before the change, the vectors of length 1 in the sense of (6). If these are not all, the change
        within their span is found.
    i, j : int
        The ends of the edge.
    change : float
        By how much its weight grows, delta. It may be new, or vanish.

    Returns
    -------
    ndarray
        The new eigenvectors, in the old order and with the old signs.

    Raises
    ------
    ValueError
        If there is not a vector for each value, two values are equal, `i` and `j` are not two different vertices, or
        `change` is not finite.

    Examples
    --------
    >>> changed_eigenvectors(np.array([0.0, 2.0]), np.array([[0.5, 0.5], [0.5, -0.5]]), 0, 1, 0.04)
    array([[ 0.495,  0.495],
           [ 0.495, -0.495]])
    """
    # given: the checks
    values, vectors = _eigenpairs(values, vectors)
    _edge(i, j, change, len(vectors))
    # Row b and column a: the denominator of (9), lambda_a less lambda_b, and 1 where b is a.
    gaps = values - values[:, None] + np.eye(len(values), dtype=values.dtype)
    if abs(gaps).min() < 1e-10:
        raise ValueError(f"values must all be different, got {np.sort(values)}")
    # yours
    at_i, at_j = vectors[i], vectors[j]
    across = change * np.outer(at_i - at_j, at_i - at_j)
    degrees = change * (np.outer(at_i, at_i) + np.outer(at_j, at_j))
    # Row b and column a: the coefficient of v_b in the change of v_a.
    coefficients = (across - values * degrees) / gaps
    np.fill_diagonal(coefficients, -np.diag(degrees) / 2)
    return vectors + vectors @ coefficients


def extend(
    values: Float[np.ndarray, " k"], vectors: Float[np.ndarray, "n k"], affinities: Float[np.ndarray, "n_new n"]
) -> Float[np.ndarray, "n_new k"]:
    """Return the entries of eigenvectors (6) for new vertices, equation (10).

    Parameters
    ----------
    values, vectors : ndarray
        Eigenpairs of the old graph; no value is 1.
    affinities : ndarray
        A row for each new vertex: its affinities to the old ones, not negative and not all 0.

    Returns
    -------
    ndarray
        A row for each new vertex.

    Raises
    ------
    ValueError
        If there is not a vector for each value, a value is 1, or `affinities` do not fit, are negative or all 0 for a
        vertex.

    Examples
    --------
    >>> extend(np.array([0.0, 2.0]), np.array([[0.5, 0.5], [0.5, -0.5]]), np.array([[3.0, 1.0]]))
    array([[ 0.5 , -0.25]])
    """
    # given: the checks
    values, vectors = _eigenpairs(values, vectors)
    affinities = real_array(affinities, "affinities", ndim=2)
    if affinities.shape[1] != len(vectors) or affinities.min() < 0 or not affinities.any(axis=1).all():
        raise ValueError(
            f"affinities must have a row of {len(vectors)} for each vertex, not negative and not all 0, got {affinities}"
        )
    if abs(values - 1).min() < 1e-10:
        raise ValueError(f"values must not be 1, got {values}")
    # yours
    means = affinities @ vectors / affinities.sum(axis=1, keepdims=True)
    return means / (1 - values)
