r"""Similarity graphs: which samples are neighbours, and how near.

## Idea

Groups of samples can have any shape: two crescents, a ring around a disc. What holds such a group together is not that
its members are near a common centre, but that one can walk from each to each through near neighbours. So forget the
coordinates and keep a graph: samples are vertices, and an edge joins two that are near, with a weight that says how
near. Everything later, Laplacians, embeddings, clusters, sees the graph only. There are several ways to decide who is a
neighbour, and they differ where some groups are denser than others.

## Maths

Samples $x_1, \dots, x_n$ with $d$ features have the squared distances

$$d_{ij}^2 = \sum_{f=1}^{d} (x_{if} - x_{jf})^2. \tag{1}$$

Written out, $\lVert x_i \rVert^2 + \lVert x_j \rVert^2 - 2 x_i^\top x_j$ is one matrix product and fast, but it
subtracts large numbers to get a small one. Its error is about $\varepsilon \lVert x_i \rVert^2$: small distances, the
ones that matter here, may come out as 0 or below. In (1) as it stands, each difference is rounded once, whatever lies
elsewhere.

A graph is a symmetric matrix $W$ of weights $w_{ij} \ge 0$, where 0 means no edge. No sample is its own neighbour:
$w_{ii} = 0$.

**Full.** All pairs are joined, by a weight that falls with the distance at the scale $\sigma$:

$$w_{ij} = \exp\!\big( -d_{ij}^2 / (2 \sigma^2) \big), \qquad i \ne j. \tag{2}$$

**Balls.** Those at most $\varepsilon$ apart are joined, with weight 1:

$$w_{ij} = 1 \iff d_{ij} \le \varepsilon, \quad i \ne j. \tag{3}$$

**Nearest neighbours.** Let the *reach* $r_i$ of sample $i$ be its distance to the $k$-th nearest of the *other*
samples. Those within reach are its neighbours: $k$ of them, or more where several tie for the last place. That relation
is not symmetric: the nearest town of a lonely farm may have nearer ones itself. Either one side is enough,

$$w_{ij} = 1 \iff d_{ij} \le r_i \ \text{ or }\ d_{ij} \le r_j, \quad i \ne j, \tag{4}$$

which is the $k$-nearest-neighbour graph, or both are needed,

$$w_{ij} = 1 \iff d_{ij} \le r_i \ \text{ and }\ d_{ij} \le r_j, \quad i \ne j, \tag{5}$$

the *mutual* one. The first joins groups of different density at their borders; the second rarely does, and leaves
outliers alone.

**Self-tuning.** No single $\sigma$ in (2) suits a dense group and a sparse one. Zelnik-Manor and Perona [2] give each
sample a scale of its own, its reach $\sigma_i = r_i$ for some small $k$ such as 7, and measure each distance by the
scales at both ends:

$$w_{ij} = \exp\!\big( -d_{ij}^2 / (\sigma_i \sigma_j) \big), \qquad i \ne j. \tag{6}$$

A sample with $k$ exact copies has the scale 0. By the limit $\sigma_i \to 0$ of (6), it is joined to its copies with
weight 1 and to nothing else.

**Components.** Two vertices are connected if a path of edges leads from one to the other. That is an equivalence, and
its classes are the connected components. Cutting between components costs nothing: if a graph of your samples falls
into the groups you look for, you are done, and if it falls into crumbs, $\varepsilon$ or $k$ is too small.

## Worked example

Four samples on a line: $0, 1, 2.5, 6$. Their nearest others are $1, 1, 1.5, 3.5$ away: the reaches for $k = 1$. By (4)
the edges are $0 - 1$, then $1 - 2.5$, which only the third sample asks for, and $2.5 - 6$, which only the fourth does:
one component. By (5) just $0 - 1$ is left: three components, with the labels $0, 0, 1, 2$.

With $\sigma = 1$ in (2), the first edge weighs $e^{-1/2} = 0.607$ and the last $e^{-6.125} = 0.002$. For (6) with
$k = 2$ the scales are $2.5, 1.5, 2.5, 5$: the first edge weighs $e^{-1/3.75} = 0.766$, and the last
$e^{-12.25/12.5} = 0.375$. The lonely sample is no longer lost.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `squared_distances` | samples | all squared distances | (1) |
| `gaussian_graph` | squared distances, $\sigma$ | weights of all pairs, dense | (2) |
| `epsilon_graph` | squared distances, $\varepsilon$ | a sparse graph | (3) |
| `squared_reaches` | squared distances, $k$ | $r_i^2$ | above (4) |
| `knn_graph` | squared distances, $k$ | a sparse graph | (4) |
| `mutual_knn_graph` | squared distances, $k$ | a sparse graph | (5) |
| `self_tuning_graph` | squared distances, $k$ | weights of all pairs, dense | (6) |
| `connected_components` | a graph, dense or sparse | a label for each vertex | |

Dense graphs are NumPy arrays. Sparse ones are `scipy.sparse.csr_array`s, which store, row by row, the columns and the
values of the entries that are not 0. Argument checks are given.

## Pitfalls

- Distances between samples of one tight group are 0 or negative, though the samples differ.
- Every sample has one neighbour fewer than it should, or weighs itself heaviest.
- $W$ is not symmetric, and eigenvalues turn complex later.
- `nan` where samples are equal.
- The graph depends on the order of the samples: ties were broken by index.
- In 50 dimensions nearly all distances are alike: with a small $\sigma$ all weights vanish, with a large one all are
  the same.

## Cost

Distances of all pairs take $O(n^2 d)$ time and $n^2$ numbers: 800 MB for 10,000 samples. The $k$-th smallest of each
row costs $O(n^2)$ by partitioning, where sorting takes a factor of $\log n$ more. A $k$-d tree finds the neighbours in
about $O(n \log n)$ if there are few dimensions, and never holds $n^2$ numbers. A graph of neighbours has about $kn$
edges, and components take a step for each edge.

The benchmark finds the distances of 1,000 samples at 2 (two features) to 8 times (ten features) the time of SciPy's
`pdist`, which takes the same differences in one pass in C and those above the diagonal only; the graph of neighbours at
6 times scikit-learn's by brute force, which uses a matrix product, with the loss that (1) warns of; and components, a
loop in Python, at 30 times SciPy's. All three are written to be read; at 5 and 60 milliseconds they serve a thousand
samples well.

## Go further

An experiment: draw two crescents of 200 samples each, and find by how much $\varepsilon$ can vary until the components
are no longer the crescents; the same for $k$, in both kinds of graph. A stretch goal: the smallest $\varepsilon$ for
which (3) is connected is the longest edge of the minimal spanning tree. Grow that tree from one sample, always adding
the nearest sample that is not in it yet.

What is not here: directed graphs, approximate neighbours, and weights on the edges of (4), for which one may take those
of (2).

## References

1. von Luxburg (2007), A tutorial on spectral clustering, section 2, https://doi.org/10.1007/s11222-007-9033-z
2. Zelnik-Manor & Perona (2004), Self-tuning spectral clustering,
   https://papers.nips.cc/paper/2619-self-tuning-spectral-clustering
3. Maier, Hein & von Luxburg (2009), Optimal construction of k-nearest-neighbor graphs for identifying noisy clusters,
   https://doi.org/10.1016/j.tcs.2009.01.009
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from mlpath.linalg._shared import real_array, square_matrix

Samples = Float[np.ndarray, "n_samples n_features"]
Pairs = Float[np.ndarray, "n_samples n_samples"]


def _distances(squared: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return squared distances: symmetric, nowhere negative, 0 on the diagonal."""
    squared = square_matrix(squared, "squared")
    if (squared != squared.T).any():
        raise ValueError(
            f"squared must be symmetric, got entries that differ by {np.abs(squared - squared.T).max():.3g}"
        )
    if squared.min() < 0:
        raise ValueError(f"squared must not be negative, got {squared.min()}")
    if np.diagonal(squared).any():
        raise ValueError(f"squared must be 0 on the diagonal, got {np.abs(np.diagonal(squared)).max()}")
    return squared


def _positive(value: float, name: str) -> None:  # given: argument checks
    """Refuse what is not a positive, finite number."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")


def _neighbours(k: int, n: int) -> int:  # given: argument checks
    """Refuse numbers of neighbours that a set of n samples does not have."""
    if k != int(k) or not 1 <= k < n:
        raise ValueError(f"k must be a whole number from 1 to {n - 1}, one less than there are samples, got {k}")
    return int(k)


def _edges(graph: np.ndarray | csr_array) -> csr_array:  # given: argument checks
    """Return a graph as a sparse array that stores its edges only."""
    edges = csr_array(graph)
    shape = edges.shape or ()
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise ValueError(f"graph must be a square matrix, got the shape {shape}")
    if not np.isfinite(edges.data).all():
        raise ValueError("graph must be finite, got NaN or infinity among its weights")
    edges = csr_array(edges != 0)
    if (edges != edges.T).nnz:
        raise ValueError("graph must be symmetric, got edges that go one way only")
    return edges


def squared_distances(x: Samples) -> Pairs:
    """Return the squared distances of all pairs of samples, equation (1).

    Each is right to a few roundings of its own, however far away other samples or the origin may be. So equal samples
    are exactly 0 apart, and none is negative.

    Parameters
    ----------
    x : ndarray
        The samples, one a row. They may be of any size between 1e-150 and 1e150.

    Returns
    -------
    ndarray
        Symmetric, with zeros on the diagonal; float32 if the samples are.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> squared_distances(np.array([[0.0, 1.0], [3.0, 5.0], [0.0, 0.5]]))
    array([[ 0.  , 25.  ,  0.25],
           [25.  ,  0.  , 29.25],
           [ 0.25, 29.25,  0.  ]])
    """
    # given: the check
    x = real_array(x, "x", ndim=2)
    # yours
    squared = np.zeros((len(x), len(x)), dtype=x.dtype)
    for feature in x.T:  # all at once would take n * n * d numbers
        squared += np.subtract.outer(feature, feature) ** 2
    return squared


def gaussian_graph(squared: Pairs, scale: float) -> Pairs:
    r"""Return the full graph, equation (2).

    Parameters
    ----------
    squared : ndarray
        The squared distances of all pairs: symmetric, 0 on the diagonal.
    scale : float
        The distance $\sigma$ at which the weight has fallen to $e^{-1/2}$. Positive.

    Returns
    -------
    ndarray
        The weights, from 0 to 1, symmetric, with zeros on the diagonal; float32 if `squared` is.

    Raises
    ------
    ValueError
        If `squared` is no such matrix, or `scale` is not positive and finite.

    Examples
    --------
    >>> gaussian_graph(np.array([[0.0, 4.0], [4.0, 0.0]]), 2.0).round(4)
    array([[0.    , 0.6065],
           [0.6065, 0.    ]])
    """
    # given: the checks
    squared = _distances(squared)
    _positive(scale, "scale")
    # yours
    weights = np.exp(-squared / (2 * scale**2))
    np.fill_diagonal(weights, 0)
    return weights


def epsilon_graph(squared: Pairs, radius: float) -> csr_array:
    r"""Return the graph of those at most a radius apart, equation (3).

    Parameters
    ----------
    squared : ndarray
        The squared distances of all pairs: symmetric, 0 on the diagonal.
    radius : float
        The largest distance $\varepsilon$ of neighbours, itself included. Positive; not squared.

    Returns
    -------
    csr_array
        Ones where there is an edge, and nothing else stored; float32 if `squared` is. Equal samples are joined, none is
        joined to itself.

    Raises
    ------
    ValueError
        If `squared` is no such matrix, or `radius` is not positive and finite.

    Examples
    --------
    >>> epsilon_graph(np.array([[0.0, 4.0, 25.0], [4.0, 0.0, 9.0], [25.0, 9.0, 0.0]]), 3.0).toarray()
    array([[0., 1., 0.],
           [1., 0., 1.],
           [0., 1., 0.]])
    """
    # given: the checks
    squared = _distances(squared)
    _positive(radius, "radius")
    # yours
    near = np.sqrt(squared) <= radius
    np.fill_diagonal(near, False)
    return csr_array(near, dtype=squared.dtype)


def squared_reaches(squared: Pairs, k: int) -> Float[np.ndarray, " n_samples"]:
    """Return for each sample its squared distance to the k-th nearest of the other samples.

    Parameters
    ----------
    squared : ndarray
        The squared distances of all pairs: symmetric, 0 on the diagonal.
    k : int
        Which neighbour, from 1 to n_samples - 1.

    Returns
    -------
    ndarray
        The squares of the reaches. Copies of a sample count as neighbours of it, at distance 0.

    Raises
    ------
    ValueError
        If `squared` is no such matrix, or `k` no such number.

    Examples
    --------
    >>> squared_reaches(np.array([[0.0, 4.0, 25.0], [4.0, 0.0, 9.0], [25.0, 9.0, 0.0]]), 1)
    array([4., 4., 9.])
    """
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    # Its own 0 is among the smallest of each row, so that the k-th of the others has k entries before it.
    return np.partition(squared, k, axis=1)[:, k]


def knn_graph(squared: Pairs, k: int) -> csr_array:
    """Return the graph of nearest neighbours, where one side is enough, equation (4).

    Parameters
    ----------
    squared : ndarray
        The squared distances of all pairs: symmetric, 0 on the diagonal.
    k : int
        How many neighbours each sample asks for, from 1 to n_samples - 1. If several tie for the last place it gets
        them all.

    Returns
    -------
    csr_array
        Symmetric; ones where there is an edge, and nothing else stored; float32 if `squared` is. None is joined to
        itself.

    Raises
    ------
    ValueError
        If `squared` is no such matrix, or `k` no such number.

    Examples
    --------
    >>> knn_graph(np.array([[0.0, 4.0, 25.0], [4.0, 0.0, 9.0], [25.0, 9.0, 0.0]]), 1).toarray()
    array([[0., 1., 0.],
           [1., 0., 1.],
           [0., 1., 0.]])
    """
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    reaches = squared_reaches(squared, k)
    near = squared <= np.maximum.outer(reaches, reaches)
    np.fill_diagonal(near, False)
    return csr_array(near, dtype=squared.dtype)


def mutual_knn_graph(squared: Pairs, k: int) -> csr_array:
    """Return the graph of nearest neighbours, where both sides must agree, equation (5).

    Parameters
    ----------
    squared : ndarray
        The squared distances of all pairs: symmetric, 0 on the diagonal.
    k : int
        How many neighbours each sample asks for, from 1 to n_samples - 1. If several tie for the last place it asks for
        them all.

    Returns
    -------
    csr_array
        Symmetric; ones where there is an edge, and nothing else stored; float32 if `squared` is. None is joined to
        itself.

    Raises
    ------
    ValueError
        If `squared` is no such matrix, or `k` no such number.

    Examples
    --------
    >>> mutual_knn_graph(np.array([[0.0, 4.0, 25.0], [4.0, 0.0, 9.0], [25.0, 9.0, 0.0]]), 1).toarray()
    array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 0., 0.]])
    """
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    reaches = squared_reaches(squared, k)
    near = squared <= np.minimum.outer(reaches, reaches)
    np.fill_diagonal(near, False)
    return csr_array(near, dtype=squared.dtype)


def self_tuning_graph(squared: Pairs, k: int = 7) -> Pairs:
    r"""Return the full graph with a scale for each sample, equation (6).

    Parameters
    ----------
    squared : ndarray
        The squared distances of all pairs: symmetric, 0 on the diagonal.
    k : int
        The neighbour whose distance is the scale, from 1 to n_samples - 1.

    Returns
    -------
    ndarray
        The weights, from 0 to 1, symmetric, with zeros on the diagonal; float32 if `squared` is. Where a scale is 0,
        equal samples have weight 1 and others 0.

    Raises
    ------
    ValueError
        If `squared` is no such matrix, or `k` no such number.

    Examples
    --------
    >>> self_tuning_graph(np.array([[0.0, 4.0, 25.0], [4.0, 0.0, 9.0], [25.0, 9.0, 0.0]]), 1).round(4)
    array([[0.    , 0.3679, 0.0155],
           [0.3679, 0.    , 0.2231],
           [0.0155, 0.2231, 0.    ]])
    """
    # given: the checks
    squared = _distances(squared)
    k = _neighbours(k, len(squared))
    # yours
    scales = np.sqrt(squared_reaches(squared, k))
    product = np.multiply.outer(scales, scales)
    limit = np.where(squared > 0, np.inf, squared)  # of the quotient, as a scale goes to 0
    weights = np.exp(-np.divide(squared, product, out=limit, where=product > 0))
    np.fill_diagonal(weights, 0)
    return weights


def connected_components(graph: Pairs | csr_array) -> Int[np.ndarray, " n_samples"]:
    """Return the connected component of each vertex.

    Parameters
    ----------
    graph : ndarray or csr_array
        Weights, symmetric. An edge is where the weight is not 0, a stored 0 is none, and the diagonal does not matter.

    Returns
    -------
    ndarray
        Labels from 0 upwards, in the order in which the components' first vertices come.

    Raises
    ------
    ValueError
        If `graph` is not square, finite and symmetric.

    Examples
    --------
    >>> connected_components(np.array([[0, 0, 0.5, 0], [0, 0, 0, 0], [0.5, 0, 0, 2.0], [0, 0, 2.0, 0]]))
    array([0, 1, 0, 0])
    """
    # given: the checks; the neighbours of vertex i are edges.indices[edges.indptr[i] : edges.indptr[i + 1]]
    edges = _edges(graph)
    n = len(edges.indptr) - 1
    # yours
    labels = np.full(n, -1)
    n_components = 0
    for start in range(n):
        if labels[start] >= 0:
            continue
        labels[start] = n_components
        reached = [start]
        while reached:
            i = reached.pop()
            neighbours = edges.indices[edges.indptr[i] : edges.indptr[i + 1]]
            new = neighbours[labels[neighbours] < 0]
            labels[new] = n_components  # before any of them is looked at, so that none is reached twice
            reached.extend(new.tolist())
        n_components += 1
    return labels
