r"""Communities in a graph: modularity, its leading eigenvector, and Louvain's method.

## Idea

A karate club of 34 members splits after a quarrel. Who goes with whom can be read off the friendships: there are
*communities*, groups with more edges inside than chance would put there. *Modularity* counts by how much more. To find
the division that makes it largest is hard, but two simple ways come near: the eigenvector of a matrix that is never
formed, and moving one vertex after another.

## Maths

**Modularity.** The graph has $n$ vertices and a symmetric matrix $A$ of weights, $A_{ij} \ge 0$. A loop, an edge of
weight $w$ from a vertex to itself, has two ends there, and stands as $A_{ii} = 2w$. The *degree* of a vertex is
$k_i = \sum_j A_{ij}$, and $2m = \sum_i k_i$ is twice the weight of all edges. Cut all edges in two and join the ends at
random: then $i$ and $j$ expect an edge of weight $k_i k_j / 2m$. Subtract it, with a *resolution* $\gamma$ (as a rule 1)
as its weight, and add up inside the communities $c_i$:

$$Q = \frac{1}{2m} \sum_{ij} B_{ij}\, [c_i = c_j], \qquad B_{ij} = A_{ij} - \gamma \frac{k_i k_j}{2m}. \tag{1}$$

With $L_c = \sum_{i, j \in c} A_{ij}$, which has each edge inside twice, and $K_c = \sum_{i \in c} k_i$ this is a sum
over communities, not over pairs of vertices:

$$Q = \sum_c \Big( \frac{L_c}{2m} - \gamma \Big( \frac{K_c}{2m} \Big)^2 \Big). \tag{2}$$

With $\gamma = 1$ one community of all has $Q = 0$. A larger $\gamma$ favours smaller communities.

**Two groups.** Let part $g$ of the vertices be one community so far, and $s_i = \pm 1$ divide it in two. As
$[s_i = s_j] = (s_i s_j + 1) / 2$ and all of $B$ inside $g$ counted before, the gain is

$$\Delta Q = \frac{1}{4m} \Big( \sum_{i, j \in g} B_{ij} s_i s_j - \sum_{i, j \in g} B_{ij} \Big) = \frac{1}{4m}\, s^\top B^{(g)} s, \qquad
B^{(g)}_{ij} = B_{ij} - [i = j] \sum_{l \in g} B_{il}, \tag{3}$$

as $s_i^2 = 1$. For the whole graph and $\gamma = 1$ the sums of the rows of $B$ are 0, and $B^{(g)} = B$. In every case
$B^{(g)} \mathbf 1 = 0$: not to divide gains nothing. $B^{(g)}$ is full, but a product with it costs as little as one
with the sparse block $A_g$ of $A$, with $k_g$ the degrees *in the whole graph*:

$$B^{(g)} x = A_g x - \gamma\, k_g \frac{k_g^\top x}{2m} - r \odot x, \qquad r = A_g \mathbf 1 - \gamma\, k_g \frac{k_g^\top \mathbf 1}{2m}. \tag{4}$$

**The leading eigenvector.** If $s$ were any vector of length $\sqrt{|g|}$, the maximum would be at the eigenvector $u$
of the largest eigenvalue. Of all signs

$$s_i = \operatorname{sign} u_i \tag{5}$$

have the largest product with $u$. An eigenvalue $\lambda_{\max} = 0$, which is that of $\mathbf 1$, proves that $g$ is
best left undivided, as $s^\top B^{(g)} s \le \lambda_{\max} |g|$.

**Fine tuning.** If vertex $i$ changes sides, $s^\top B^{(g)} s$ loses $2 s_i s_j B^{(g)}_{ij}$ twice for each
$j \ne i$, so that

$$\Delta Q_i = \frac{1}{m} \big( B^{(g)}_{ii} - s_i\, (B^{(g)} s)_i \big). \tag{6}$$

After Kernighan and Lin: in a *pass* each vertex changes sides once, always the one that gains most (or loses least) of
those that have not yet. Of all the divisions on the way the best is kept, and if it is better than at the start of the
pass, another pass begins there. Because a pass goes on through losses it comes out of many local maxima.

**Louvain.** Take vertex $i$ out of its community $a$ and put it into $c$. With
$w_{ic} = \sum_{j \in c, j \ne i} A_{ij}$, and $a$ without $i$, only these terms of (1) change, each twice:

$$\Delta Q = \frac1m \Big( w_{ic} - w_{ia} - \gamma\, \frac{k_i (K_c - (K_a - k_i))}{2m} \Big), \qquad c \ne a. \tag{7}$$

*Local moving*: each vertex in turn, in random order, goes to the community of a neighbour for which (7) is largest, if
that is positive; again and again until none moves. Then each community becomes one vertex: with $S_{ic} = [c_i = c]$,

$$A' = S^\top A\, S, \tag{8}$$

whose diagonal has the edges inside, twice, so that degrees, $2m$ and $Q$ stay what they were. Move the new vertices,
and so on, until none moves.

## Worked example

A path of four vertices: $m = 3$, $k = (1, 2, 2, 1)$. The halves $\{1, 2\}$ and $\{3, 4\}$ have $L_c = 2$, $K_c = 3$, so
by (2) $Q = 2\,(2/6 - 9/36) = 1/6$. The first rows of $B$ are $(-\frac16, \frac23, -\frac13, -\frac16)$ and
$(\frac23, -\frac23, \frac13, -\frac13)$. Try $u = (a, b, -b, -a)$: they say $b = \lambda a$ and $a - b = \lambda b$, so
$\lambda^2 + \lambda = 1$, $\lambda = 0.618$, and $u = (1, 0.618, -0.618, -1)$ in any length: the halves. With
$s = (1, 1, -1, -1)$ it is $B s = (1, 0, 0, -1)$ and (3) gives $2/12 = 1/6$ again. If vertex 2 changes sides, by (6)
$\Delta Q = (-\frac23 - 0)/3 = -2/9$; and $Q$ of $\{1\}, \{2, 3, 4\}$ is indeed $1/6 - 2/9 = -1/18$.

Louvain begins with four communities. Vertex 1 into that of 2: by (7) $(1 - 0 - 1 \cdot 2 / 6) / 3 = 2/9$. Vertex 2 into
that of 3: $(1 - 2 \cdot 2 / 6) / 3 = 1/9$. After the halves are found, (8) gives
$A' = \begin{pmatrix} 2 & 1 \\ 1 & 2 \end{pmatrix}$, and joining them would gain $(1 - 3 \cdot 3 / 6)/3 = -1/6$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `modularity` | a graph, a community for each vertex | $Q$ | (2) |
| `modularity_product` | a graph or a part of one, $x$ | $B^{(g)} x$ | (4) |
| `leading_eigenvector` | the same | the largest eigenvalue of $B^{(g)}$, and its vector | (5) |
| `fine_tune` | the same, signs | better signs | (6) |
| `spectral_communities` | a graph | communities: divided in two again and again | (3), (5) |
| `move_gains` | a graph, communities, a vertex | where it can go, and what that gains | (7) |
| `local_moving` | a graph, communities | communities that no single move betters | (7) |
| `louvain` | a graph | communities | (8) |

Given: `Graph` with the sparse $A$, the $k$, $A \mathbf 1$ and $2m$; `as_graph`, which makes one of a matrix, dense or
sparse; `part`, the same for some vertices, with the degrees and the $2m$ of the whole; `_diagonal`, the diagonal of
$B^{(g)}$; `_neighbours` of a vertex; `_operator`, which makes of a function what SciPy's `eigsh` takes for a matrix.

## Pitfalls

- The second division makes $Q$ smaller, although the eigenvalue was positive: the matrix of the part was that of a
  graph of its own.
- A part is divided, and one half is empty.
- The eigenvector has the right length and is constant.
- $Q$ of the joined graph is not that of the communities that were joined.
- A vertex alone is divided for ever; an isolated one makes NaN.
- Small groups that anyone would call communities are joined, in a large graph. That is no bug but the *resolution
  limit* [6]: with $\gamma = 1$ two groups joined by one edge are better as one if the product of their degrees is below
  $2m$.

## Cost

A product (4) costs one pass over the edges, an eigenvector some dozens of products, a pass of `fine_tune` $n$ of them:
$O(n (n + m))$, the costliest step here. Louvain visits each vertex a few times, for its edges each time. On 1,000
vertices with 12,000 edges it takes 2.1 times as long as networkx, which is Python too but keeps dictionaries where
`np.unique` sorts here; `modularity` takes an eighth of networkx's time. `spectral_communities` of 300 vertices takes a
third of the time of its greedy joining, at equal modularity.

What is not here: directed edges, negative weights, overlapping communities, and Leiden's refinement [7], which mends
that a community of Louvain may fall into pieces.

## Go further

Experiment: two groups of 500 vertices, each with 10 neighbours on the average, of which $x$ more are in the own group
than in the other one. Below which $x$ do all methods fail? (For very many vertices there is a sharp threshold,
$x = \sqrt{10}$ [8].) A stretch goal: Leiden's refinement.

## References

1. Newman (2006), Modularity and community structure in networks, https://doi.org/10.1073/pnas.0601602103
2. Newman & Girvan (2004), Finding and evaluating community structure in networks,
   https://doi.org/10.1103/PhysRevE.69.026113
3. Blondel, Guillaume, Lambiotte & Lefebvre (2008), Fast unfolding of communities in large networks,
   https://doi.org/10.1088/1742-5468/2008/10/P10008
4. Reichardt & Bornholdt (2006), Statistical mechanics of community detection,
   https://doi.org/10.1103/PhysRevE.74.016110
5. Zachary (1977), An information flow model for conflict and fission in small groups,
   https://doi.org/10.1086/jar.33.4.3629752
6. Fortunato & Barthélemy (2007), Resolution limit in community detection, https://doi.org/10.1073/pnas.0605965104
7. Traag, Waltman & van Eck (2019), From Louvain to Leiden, https://doi.org/10.1038/s41598-019-41695-z
8. Nadakuditi & Newman (2012), Graph spectra and the detectability of community structure in networks,
   https://doi.org/10.1103/PhysRevLett.108.188701
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, eigsh

from mlpath.linalg._shared import real_array, symmetric_matrix

Labels = Int[np.ndarray, " n"]

# A gain of modularity, which is at most 1, that is smaller is taken for rounding.
NO_GAIN = 1e-12
# Matrices up to this size are made and given to LAPACK: for them that is faster, and sure.
SMALL = 60
# A few passes or rounds are enough. With a wrong gain there might be no end.
AT_MOST = 50


@dataclass(frozen=True)
class Graph:  # given
    """A graph, or a part of one.

    Attributes
    ----------
    adjacency : csr_array of shape (n, n)
        The weights between its vertices; on the diagonal twice the weight of a loop.
    degrees : ndarray of shape (n,)
        The degrees of its vertices in the whole graph.
    inside : ndarray of shape (n,)
        What of these degrees lies inside the part: the sums of the rows of `adjacency`.
    total : float
        The sum of all degrees of the whole graph, 2m.

    Examples
    --------
    >>> Graph(csr_array(np.array([[0.0, 3.0], [3.0, 0.0]])), np.array([3.0, 3.0]), np.array([3.0, 3.0]), 6.0).total
    6.0
    """

    adjacency: Any
    degrees: Float[np.ndarray, " _"]
    inside: Float[np.ndarray, " _"]
    total: float


def as_graph(adjacency: Any) -> Graph:  # given
    """Return the graph of a matrix of weights.

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        Symmetric, not negative, not all zero; on the diagonal twice the weight of a loop. A `Graph` is returned as it
        is.

    Returns
    -------
    Graph
        The same, in double precision.

    Raises
    ------
    ValueError
        If `adjacency` is none of these.

    Examples
    --------
    >>> as_graph([[0, 3], [3, 2]]).degrees
    array([3., 5.])
    """
    if isinstance(adjacency, Graph):
        return adjacency
    if not hasattr(adjacency, "tocsr"):
        a: Any = csr_array(symmetric_matrix(adjacency, "adjacency"), dtype=np.float64)
    else:
        a = csr_array(adjacency)
        if a.shape[0] != a.shape[1] or a.shape[0] == 0:
            raise ValueError(f"adjacency must be square, and not empty, got the shape {a.shape}")
        if a.nnz:
            real_array(a.data, "adjacency", ndim=1)
        a = csr_array(a, dtype=np.float64)
        a.sum_duplicates()
        gap = abs(a - a.T).max()
        if gap > 1e-12 * abs(a).max():
            raise ValueError(f"adjacency must be symmetric, got entries that differ by {gap:.3g} across the diagonal")
    if a.nnz and a.data.min() < 0:
        raise ValueError(f"adjacency must not be negative, got {a.data.min()}")
    degrees = a.sum(axis=1)
    if not 0 < degrees.sum() < np.inf:
        raise ValueError(f"adjacency must have a positive, finite sum, got {degrees.sum()}")
    return Graph(a, degrees, degrees, float(degrees.sum()))


def part(graph: Graph, members: Int[np.ndarray, " n_members"]) -> Graph:  # given
    """Return a part of a graph, with the degrees and the total of the whole.

    Parameters
    ----------
    graph : Graph
        The graph.
    members : ndarray
        Which vertices.

    Returns
    -------
    Graph
        The part; its vertex i is vertex `members[i]` of the graph.

    Examples
    --------
    >>> piece = part(as_graph([[0, 3, 0], [3, 0, 4], [0, 4, 0]]), np.array([1, 2]))
    >>> print(piece.degrees, piece.total)
    [7. 4.] 14.0
    """
    block = graph.adjacency[members][:, members]
    return Graph(block, graph.degrees[members], block.sum(axis=1), graph.total)


def _resolution(resolution: float) -> float:  # given: argument checks
    if not 0 < resolution < np.inf:
        raise ValueError(f"resolution must be positive and finite, got {resolution}")
    return resolution


def _labels(labels: Any, n: int) -> np.ndarray:  # given: argument checks
    """Return communities, one for each vertex, numbered from 0 without gaps."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {n} whole numbers, got {labels.dtype} of the shape {labels.shape}")
    return np.unique(labels, return_inverse=True)[1]


def _signs(signs: Any, n: int) -> np.ndarray:  # given: argument checks
    """Return signs, one for each vertex, as floats."""
    signs = np.array(signs, dtype=np.float64)
    if signs.shape != (n,) or not (abs(signs) == 1).all():
        raise ValueError(f"signs must be {n} numbers that are 1 or -1, got {signs}")
    return signs


def _diagonal(graph: Graph, resolution: float) -> np.ndarray:  # given: the diagonal of (3)
    """Return the entries on the diagonal of the modularity matrix of a graph, or of a part of one."""
    k = graph.degrees
    return graph.adjacency.diagonal() - graph.inside + resolution * k * ((k.sum() - k) / graph.total)


def _neighbours(graph: Graph, vertex: int) -> tuple[np.ndarray, np.ndarray]:  # given: a row of the sparse matrix
    """Return the neighbours of a vertex, other than itself, and the weights of the edges to them."""
    start, end = graph.adjacency.indptr[vertex : vertex + 2]
    neighbours, weights = graph.adjacency.indices[start:end], graph.adjacency.data[start:end]
    others = neighbours != vertex
    return neighbours[others], weights[others]


def _operator(n: int, product: Callable[[np.ndarray], np.ndarray]) -> Any:  # given: what `eigsh` takes for a matrix
    """Return a symmetric operator of size `n` that is known by its products with vectors."""
    operator: Any = LinearOperator
    return operator((n, n), matvec=lambda x: product(np.ravel(x)), dtype=np.float64)


def modularity(adjacency: Any, labels: Labels, *, resolution: float = 1.0) -> float:
    """Return the modularity of a division into communities, equation (2).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it.
    labels : ndarray
        The community of each vertex, any whole numbers.
    resolution : float
        The weight gamma of what chance would give.

    Returns
    -------
    float
        At most 1; negative where there are fewer edges inside than by chance.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, `labels` has not one whole number for each vertex, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> round(modularity(path, np.array([0, 0, 1, 1])), 4)
    0.1667
    """
    # given: the checks
    graph = as_graph(adjacency)
    labels = _labels(labels, len(graph.degrees))
    _resolution(resolution)
    # yours
    edges = graph.adjacency.tocoo()
    inside = edges.data[labels[edges.row] == labels[edges.col]].sum() / graph.total
    shares = np.bincount(labels, weights=graph.degrees) / graph.total
    return float(inside - resolution * (shares**2).sum())


def modularity_product(
    adjacency: Any, x: Float[np.ndarray, " n"], *, resolution: float = 1.0
) -> Float[np.ndarray, " n"]:
    """Return the product of the modularity matrix of a graph, or of a part of one, with a vector, equation (4).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it, or a `part` of one.
    x : ndarray
        A number for each vertex.
    resolution : float
        The weight gamma of what chance would give.

    Returns
    -------
    ndarray
        The product. No matrix of the size of the graph is made.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, `x` has not one finite number for each vertex, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> modularity_product(path, np.array([1.0, 2.0, -1.0, -1.0])).round(4)
    array([ 1.6667, -0.6667,  0.3333, -1.3333])
    """
    # given: the checks
    graph = as_graph(adjacency)
    x = real_array(x, "x", ndim=1)
    if len(x) != len(graph.degrees):
        raise ValueError(f"x must have {len(graph.degrees)} entries, got {len(x)}")
    _resolution(resolution)
    # yours
    k = graph.degrees
    rows = graph.inside - resolution * k * (k.sum() / graph.total)
    return graph.adjacency @ x - resolution * k * ((k / graph.total) @ x) - rows * x


def leading_eigenvector(adjacency: Any, *, resolution: float = 1.0) -> tuple[float, Float[np.ndarray, " n"]]:
    """Return the largest eigenvalue of the modularity matrix of a graph, or of a part of one, and its eigenvector.

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it, or a `part` of one.
    resolution : float
        The weight gamma of what chance would give.

    Returns
    -------
    value : float
        The largest eigenvalue, never the one that is only largest in absolute value. It is 0 or more.
    vector : ndarray
        Its eigenvector, of length 1 and either sign, the same in each call. Of more than `SMALL` vertices it comes from
        products (4) alone, and a matrix of the size of the graph is never made.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> value, vector = leading_eigenvector(path)
    >>> print(round(value, 4), (vector / vector[0]).round(4))
    0.618 [ 1.     0.618 -0.618 -1.   ]
    """
    # given: the checks
    graph = as_graph(adjacency)
    _resolution(resolution)
    n = len(graph.degrees)
    # yours
    if n <= SMALL:
        matrix = np.column_stack([modularity_product(graph, e, resolution=resolution) for e in np.eye(n)])
        values, vectors = np.linalg.eigh(matrix)
    else:
        product = _operator(n, lambda x: modularity_product(graph, x, resolution=resolution))
        # Not a start of ones: that is an eigenvector itself, and there would be nothing else to find.
        values, vectors = eigsh(product, k=1, which="LA", v0=np.random.default_rng(0).normal(size=n))
    return float(values[-1]), vectors[:, -1]


def fine_tune(adjacency: Any, signs: Float[np.ndarray, " n"], *, resolution: float = 1.0) -> Float[np.ndarray, " n"]:
    """Return a division in two that is at least as good, by passes in which each vertex changes sides once, equation (6).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it, or a `part` of one.
    signs : ndarray
        The side of each vertex, 1 or -1.
    resolution : float
        The weight gamma of what chance would give.

    Returns
    -------
    ndarray
        The side of each vertex, 1 or -1, after passes until one betters nothing by more than `NO_GAIN`, or `AT_MOST`.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, `signs` are not 1 or -1 for each vertex, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> signs = fine_tune(path, np.array([1.0, -1.0, -1.0, -1.0]))
    >>> signs * signs[0]
    array([ 1.,  1., -1., -1.])
    """
    # given: the checks, a copy, and the diagonal
    graph = as_graph(adjacency)
    signs = _signs(signs, len(graph.degrees))
    diagonal = _diagonal(graph, _resolution(resolution))
    # yours
    for _ in range(AT_MOST):
        trial, order, reached = signs.copy(), [], []
        for _ in signs:
            gains = 2 * (diagonal - trial * modularity_product(graph, trial, resolution=resolution)) / graph.total
            gains[order] = -np.inf
            order.append(int(gains.argmax()))
            reached.append(gains.max() + (reached[-1] if reached else 0.0))
            trial[order[-1]] = -trial[order[-1]]
        best = int(np.argmax(reached))
        if reached[best] <= NO_GAIN:
            break
        signs[order[: best + 1]] = -signs[order[: best + 1]]
    return signs


def spectral_communities(adjacency: Any, *, resolution: float = 1.0, tune: bool = True) -> Int[np.ndarray, " n"]:
    """Return communities, found by division in two again and again, equations (3) and (5).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it.
    resolution : float
        The weight gamma of what chance would give.
    tune : bool
        Whether each division is followed by `fine_tune`.

    Returns
    -------
    ndarray
        The community of each vertex, numbered from 0 without gaps, in any order. A vertex without edges is one of its
        own. A community is divided only if that gains more than `NO_GAIN`.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> labels = spectral_communities(path)
    >>> labels == labels[0]
    array([ True,  True, False, False])
    """
    # given: the checks
    graph = as_graph(adjacency)
    _resolution(resolution)
    # yours
    done, todo = list(np.flatnonzero(graph.degrees == 0)[:, None]), [np.flatnonzero(graph.degrees)]
    while todo:
        members = todo.pop()
        piece = part(graph, members)
        signs = np.where(leading_eigenvector(piece, resolution=resolution)[1] > 0, 1.0, -1.0)
        if tune:
            signs = fine_tune(piece, signs, resolution=resolution)
        gain = signs @ modularity_product(piece, signs, resolution=resolution) / (2 * graph.total)
        halves = [members[side] for side in (signs > 0, signs < 0)]
        if gain > NO_GAIN and all(map(len, halves)):
            todo += halves
        else:
            done.append(members)
    labels = np.empty(len(graph.degrees), dtype=int)
    for number, members in enumerate(done):
        labels[members] = number
    return labels


def move_gains(
    adjacency: Any, labels: Labels, totals: Float[np.ndarray, " n_totals"], vertex: int, *, resolution: float = 1.0
) -> tuple[Int[np.ndarray, " n_candidates"], Float[np.ndarray, " n_candidates"]]:
    """Return to which communities a vertex may move, and what that gains, equation (7).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it.
    labels : ndarray
        The community of each vertex, from 0 to one less than `totals` has entries.
    totals : ndarray
        The sum K of the degrees in each community, 0 for one that is empty.
    vertex : int
        Which vertex.
    resolution : float
        The weight gamma of what chance would give.

    Returns
    -------
    candidates : ndarray
        The communities of its neighbours and its own, each once, the smallest number first.
    gains : ndarray
        By how much modularity grows if it moves there; 0 for its own.

    Raises
    ------
    ValueError
        If `adjacency` is no graph or has no such `vertex`. The others are not checked: this is called for every vertex.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> candidates, gains = move_gains(path, np.arange(4), np.array([1.0, 2.0, 2.0, 1.0]), 1)
    >>> print(candidates, gains.round(4))
    [0 1 2] [0.2222 0.     0.1111]
    """
    # given: the checks
    graph = as_graph(adjacency)
    if not 0 <= vertex < len(graph.degrees):
        raise ValueError(f"vertex must be from 0 to {len(graph.degrees) - 1}, got {vertex}")
    # yours
    neighbours, weights = _neighbours(graph, vertex)
    candidates, which = np.unique(np.append(labels[neighbours], labels[vertex]), return_inverse=True)
    links = np.bincount(which, weights=np.append(weights, 0.0))
    own, degree = which[-1], graph.degrees[vertex]
    others = totals[candidates]
    others[own] -= degree
    worth = links - resolution * degree * (others / graph.total)
    return candidates, 2 * (worth - worth[own]) / graph.total


def local_moving(
    adjacency: Any, labels: Labels, *, resolution: float = 1.0, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Return communities that no move of one vertex to a neighbour's community betters, by such moves, equation (7).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it.
    labels : ndarray
        The community of each vertex at the start, any whole numbers.
    resolution : float
        The weight gamma of what chance would give.
    rng : Generator
        For the order in which the vertices have their turns; a new one in every round.

    Returns
    -------
    ndarray
        The community of each vertex, from 0 to at most one less than there were, after rounds until one moves none, or
        `AT_MOST`. Some communities may be empty. No move would gain more than `NO_GAIN`.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, `labels` has not one whole number for each vertex, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> labels = local_moving(path, np.array([0, 1, 2, 2]), rng=np.random.default_rng(0))
    >>> labels == labels[0]
    array([ True,  True, False, False])
    """
    # given: the checks, and a copy
    graph = as_graph(adjacency)
    labels = _labels(labels, len(graph.degrees))
    _resolution(resolution)
    # yours
    totals = np.bincount(labels, weights=graph.degrees)
    for _ in range(AT_MOST):
        before = labels.copy()
        for vertex in rng.permutation(len(labels)):
            candidates, gains = move_gains(graph, labels, totals, vertex, resolution=resolution)
            best = gains.argmax()
            if gains[best] > NO_GAIN:
                totals[labels[vertex]] -= graph.degrees[vertex]
                totals[candidates[best]] += graph.degrees[vertex]
                labels[vertex] = candidates[best]
        if (labels == before).all():
            break
    return labels


def louvain(adjacency: Any, *, resolution: float = 1.0, rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Return communities by moving vertices, then communities, then communities of these, equation (8).

    Parameters
    ----------
    adjacency : Graph, array or sparse array
        The graph, as `as_graph` takes it.
    resolution : float
        The weight gamma of what chance would give.
    rng : Generator
        For `local_moving`.

    Returns
    -------
    ndarray
        The community of each vertex, numbered from 0 without gaps, in any order. A vertex without edges is one of its
        own. To join any two would not gain more than `NO_GAIN`.

    Raises
    ------
    ValueError
        If `adjacency` is no graph, or `resolution` is not positive.

    Examples
    --------
    >>> path = [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    >>> labels = louvain(path, rng=np.random.default_rng(0))
    >>> labels == labels[0]
    array([ True,  True, False, False])
    """
    # given: the checks
    graph = as_graph(adjacency)
    _resolution(resolution)
    # yours
    labels = np.arange(len(graph.degrees))
    while True:
        n = len(graph.degrees)
        joined = local_moving(graph, np.arange(n), resolution=resolution, rng=rng)
        joined = np.unique(joined, return_inverse=True)[1]
        labels = joined[labels]
        if joined.max() + 1 == n:
            return labels
        members = csr_array((np.ones(n), (np.arange(n), joined)))
        graph = as_graph(members.T @ graph.adjacency @ members)
