r"""Spectral clustering: k-means on a few eigenvectors.

## Idea

k-means finds round groups. Spectral clustering finds groups of any shape, by walking along a graph of neighbours: give
each sample new coordinates, its entries in the first eigenvectors of the graph's Laplacian. In these coordinates a
group that hangs together shrinks nearly to a point, and k-means has an easy task.

## Maths

**A cut, relaxed.** To split a graph into $A_1, \dots, A_k$ with a small ratio cut, write the split as a matrix $H$ with
a column for each part, $h_{ic} = 1/\sqrt{|A_c|}$ if vertex $i$ lies in $A_c$ and 0 if not. Its columns are orthonormal,
and as $h_c^\top L h_c = \operatorname{cut}(A_c) / |A_c|$,

$$\operatorname{RatioCut} = \operatorname{tr}(H^\top L H), \qquad H^\top H = I. \tag{1}$$

With $1/\sqrt{\operatorname{vol}(A_c)}$ for $1/\sqrt{|A_c|}$, in the same way,

$$\operatorname{Ncut} = \operatorname{tr}(H^\top L H), \qquad H^\top D H = I. \tag{2}$$

To minimise over such $H$ is hard. Let $H$ be any matrix that keeps the second half of (1): then the minimum is the sum
of the $k$ smallest eigenvalues, reached by their eigenvectors, $U$. For (2) it is reached by the eigenvectors of
$L u = \lambda D u$. And $U R$ is as good for every rotation $R$, so that single columns mean nothing. What counts are
the rows, up to a rotation, and that is why they go to k-means.

**The ideal case.** If the graph has exactly $k$ components, all $k$ eigenvalues are 0, and $U = H R$ with the $H$ of
the components:

$$u_i = \frac{1}{\sqrt{|A_c|}}\, R_c \ \text{ for } (1), \qquad u_i = \frac{1}{\sqrt{\operatorname{vol}(A_c)}}\, R_c \ \text{ for } (2), \tag{3}$$

where $R_c$ is row $c$ of the rotation: one point for each component, in directions at right angles. Weak edges between
the parts move the rows a little from there.

**Three algorithms.** Take the eigenvectors of the $k$ smallest eigenvalues for the columns of $U$, and the rows of $U$
for samples:

- *unnormalised*: of $L$, for the ratio cut;
- *Shi and Malik* [1]: of $L_{\mathrm{rw}}$, that is $L u = \lambda D u$, for the normalised cut;
- *Ng, Jordan and Weiss* [2]: of $L_{\mathrm{sym}}$. Its vectors $v = D^{1/2} u$ are not constant on a component, but
  $\sqrt{d_i}$ is only the length of a row. So scale each row to length 1,

$$t_{i} = v_{i} \,/\, \lVert v_{i} \rVert, \tag{4}$$

and the ideal rows are the $R_c$ themselves, $\sqrt 2$ apart from each other whatever the sizes of the parts. A row of
zeros has no direction and stays.

**How many?** Where $k$ groups hang together loosely, $k$ eigenvalues are near 0 and the next is not. The eigengap takes

$$k = \operatorname*{arg\,max}_{m}\ (\lambda_{m+1} - \lambda_m). \tag{5}$$

It is a rule of thumb, good for groups that are clearly apart.

**k-means** looks for centres $c_1, \dots, c_k$ and labels $a_i$ with a small *inertia*

$$J = \sum_i \lVert t_i - c_{a_i} \rVert^2. \tag{6}$$

For given centres the best label is that of the nearest centre; for given labels the best centre is the mean. Lloyd's
algorithm does one after the other,

$$a_i \leftarrow \operatorname*{arg\,min}_c \lVert t_i - c_c \rVert, \qquad c_c \leftarrow \frac{1}{|\{i : a_i = c\}|} \sum_{i : a_i = c} t_i, \tag{7}$$

until nothing changes. $J$ never rises, but it may end in a local minimum. So start several times from centres that are
drawn far apart, and keep the best end. The seeding, k-means++, is given: each next centre is a sample drawn with odds
in proportion to its squared distance to the nearest centre so far.

**How good?** Labels are names: a clustering that calls the first group 2 is not wrong for it. With $n_{ct}$ the number
of samples of cluster $c$ in true group $t$, match clusters one to one with groups:

$$\text{accuracy} = \frac1n \max_{\text{matchings}} \sum_{\text{pairs } (c, t)} n_{ct}. \tag{8}$$

## Worked example

A graph of two components: a path of three vertices with weights 2 and 1, so $d = (2, 3, 1)$, and an edge of weight 1
with $d = (1, 1)$. $L_{\mathrm{sym}}$ has the eigenvalues $0, 1, 2$ of the path and $0, 2$ of the edge. Sorted they are
$0, 0, 1, 2, 2$: the largest gap is 1, first after the second one, and by (5) $k = 2$. The eigenvectors for 0 are
$(\sqrt2, \sqrt3, 1, 0, 0)/\sqrt6$ and $(0, 0, 0, 1, 1)/\sqrt2$. The rows $(0.577, 0), (0.707, 0), (0.408, 0)$ become
$(1, 0)$ by (4), three times, and the last two $(0, 1)$.

k-means on the numbers $0, 1, 5, 7$ from the centres $0$ and $1$: the labels are $0, 1, 1, 1$ with
$J = 0 + 0 + 16 + 36 = 52$, and the new centres $0$ and $13/3$. Then $0, 0, 1, 1$ with $J = 8.56$ and the centres $0.5$
and $6$. Then the labels stay, $J = 2.5$, and so do the centres.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `row_normalise` | a matrix | its rows with length 1 | (4) |
| `spectral_embedding` | a graph, $k$, a method | eigenvalues, and a row for each vertex | (1), (2), (4) |
| `eigengap` | eigenvalues | $k$ | (5) |
| `lloyd_step` | samples, centres | labels, new centres, inertia | (6), (7) |
| `kmeans` | samples, $k$ | the best `KMeans` of several starts | (6), (7) |
| `matched_accuracy` | labels, true labels | the share that agrees | (8) |
| `SpectralClustering.fit` | samples or a graph | itself, with labels | all |

Graphs and eigenvectors come from the two exercises before. Given are the checks, the seeding and the choice of the
graph.

## Pitfalls

- One cluster is a single sample: the unnormalised method likes to cut off what hangs on by one edge, and so does a full
  graph whose scale is too small.
- Crescents are cut in half: the scale is too large, and the graph connects all with all.
- More components than clusters: the first $k$ eigenvectors all belong to the eigenvalue 0, and which components share a
  cluster is chance.
- Two rows of unequal length in one direction are one group for Ng, Jordan and Weiss; without (4) k-means tells them
  apart.
- k-means that ran once: good and bad results take turns.
- Accuracy below one half for two groups that are plainly found.

## Cost

The graph: $O(n^2)$ if it is full, about $O(n \log n)$ for neighbours in few dimensions. Eigenvectors: $O(n^3)$ dense;
sparse some tens of solves with the factors of a sparse matrix. k-means takes $O(n k^2)$ for each step. The benchmark
finds all of it at 0.8 to 0.9 times the time of scikit-learn's for 1,500 to 2,000 samples with 10 neighbours each, at
equal quality, and at 1.2 to 1.5 times for 600 samples and a full graph, of which all entries are checked anew by each
function.

## Go further

An experiment: two crescents with growing noise. Compare the three methods on a graph of 10 neighbours and on a full
one, and look where the second eigenvalue leaves 0. A stretch goal: k-means is not the only way to read the rows. Rotate
the embedding towards the axes, as Zelnik-Manor and Perona do [3], and take the largest entry of each row.

Differences to the papers: Shi and Malik split in two, again and again, by one eigenvector; we take $k$ at once, as in
[4]. Ng, Jordan and Weiss take the largest eigenvectors of $I - L_{\mathrm{sym}}$, which are the same.

## References

1. Shi & Malik (2000), Normalized cuts and image segmentation, https://doi.org/10.1109/34.868688
2. Ng, Jordan & Weiss (2001), On spectral clustering: analysis and an algorithm,
   https://papers.nips.cc/paper/2092-on-spectral-clustering-analysis-and-an-algorithm
3. Zelnik-Manor & Perona (2004), Self-tuning spectral clustering,
   https://papers.nips.cc/paper/2619-self-tuning-spectral-clustering
4. von Luxburg (2007), A tutorial on spectral clustering, https://doi.org/10.1007/s11222-007-9033-z
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array, issparse
from scipy.spatial import KDTree

from mlpath.linalg._shared import real_array
from mlpath.linalg.spectral_clustering.graphs import (
    epsilon_graph,
    gaussian_graph,
    knn_graph,
    mutual_knn_graph,
    self_tuning_graph,
    squared_distances,
)
from mlpath.linalg.spectral_clustering.laplacians import Kind, smallest_eigenpairs

Samples = Float[np.ndarray, "n_samples n_features"]
Labels = Int[np.ndarray, " n_samples"]
Graph = Float[np.ndarray, "n_samples n_samples"] | csr_array
Method = Literal["unnormalised", "shi_malik", "ng_jordan_weiss"]
Affinity = Literal["knn", "mutual_knn", "epsilon", "full", "self_tuning", "precomputed"]

# The Laplacian of each method.
KINDS: dict[Method, Kind] = {
    "unnormalised": "unnormalised",
    "shi_malik": "random_walk",
    "ng_jordan_weiss": "symmetric",
}


def _whole(value: int, name: str, at_most: float = np.inf) -> int:  # given: argument checks
    """Refuse what is not a whole number from 1 to the most there can be."""
    if value != int(value) or not 1 <= value <= at_most:
        raise ValueError(f"{name} must be a whole number from 1{f' to {at_most}' * (at_most < np.inf)}, got {value}")
    return int(value)


def _labels(labels: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return labels as 0, 1, 2, ..."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        raise ValueError(f"{name} must be whole numbers in one axis, got {labels}")
    return np.unique(labels, return_inverse=True)[1]


def _seeds(x: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:  # given: k-means++
    """Return `k` samples that are far from each other, drawn by k-means++; equal ones only if there are no others left."""
    centres = [x[rng.integers(len(x))]]
    nearest = np.full(len(x), np.inf)
    while len(centres) < k:
        nearest = np.minimum(nearest, ((x - centres[-1]) ** 2).sum(axis=1, dtype=np.float64))
        odds = nearest / nearest.sum() if nearest.any() else None
        centres.append(x[rng.choice(len(x), p=odds)])
    return np.array(centres)


def _neighbour_graph(x: np.ndarray, k: int, *, mutual: bool) -> csr_array:  # given: the same graphs, faster
    """Return `knn_graph` or `mutual_knn_graph` of samples: by a tree where no distances tie, and else from those of all pairs."""
    n = len(x)
    if k + 2 <= n:
        tree: Any = KDTree(x)
        distances, indices = tree.query(x, k + 2)
        if (distances[:, 1] > 0).all() and (distances[:, k] < distances[:, k + 1]).all():
            ones, starts = np.ones(n * k, dtype=x.dtype), np.arange(0, n * k + 1, k)
            asks = csr_array((ones, indices[:, 1 : k + 1].ravel(), starts), shape=(n, n))
            return csr_array(asks.multiply(asks.T) if mutual else asks.maximum(asks.T))
    return (mutual_knn_graph if mutual else knn_graph)(squared_distances(x), k)


def row_normalise(u: Samples) -> Samples:
    """Return a matrix with its rows scaled to length 1, equation (4).

    Parameters
    ----------
    u : ndarray
        A matrix. Its entries may be of any size.

    Returns
    -------
    ndarray
        The rows' directions; rows of zeros stay. float32 if `u` is.

    Raises
    ------
    ValueError
        If `u` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> row_normalise(np.array([[3.0, -4.0], [0.0, 0.0]]))
    array([[ 0.6, -0.8],
           [ 0. ,  0. ]])
    """
    # given: the check
    u = real_array(u, "u", ndim=2)
    # yours
    largest = np.abs(u).max(axis=1, keepdims=True)  # squares of tiny or huge entries would be 0 or infinite
    scaled = u / np.where(largest > 0, largest, 1)
    lengths = np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    return scaled / np.maximum(lengths, 1)  # only rows of zeros are shorter than 1 now


def spectral_embedding(
    graph: Graph, k: int, method: Method = "ng_jordan_weiss"
) -> tuple[Float[np.ndarray, " {k}"], Float[np.ndarray, "n_samples {k}"]]:
    """Return the coordinates of a graph's vertices by one of the three methods, equations (1), (2) and (4).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.
    k : int
        How many eigenvectors, from 1 to the number of vertices.
    method : {"ng_jordan_weiss", "shi_malik", "unnormalised"}
        Which Laplacian, and whether rows are scaled.

    Returns
    -------
    values : ndarray
        The smallest eigenvalues, rising.
    embedding : ndarray
        A row for each vertex, the eigenvectors in the columns. Only for "ng_jordan_weiss" have the rows length 1. A
        rotation of all rows, or at least signs of columns, are chance.

    Raises
    ------
    ValueError
        If `graph` is no such matrix, `k` no such number or `method` unknown.

    Examples
    --------
    >>> graph = np.array([[0, 2, 0, 0, 0], [2, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0]])
    >>> values, embedding = spectral_embedding(graph, 2)
    >>> (embedding @ embedding[0]).round(4) + 0.0
    array([1., 1., 1., 0., 0.])
    """
    # given: the checks; KINDS tells the Laplacian of each method
    if method not in KINDS:
        raise ValueError(f"method must be one of {', '.join(KINDS)}, got {method!r}")
    # yours
    values, vectors = smallest_eigenpairs(graph, k, KINDS[method])
    return values, row_normalise(vectors) if method == "ng_jordan_weiss" else vectors


def eigengap(values: Float[np.ndarray, " n_values"]) -> int:
    """Return how many eigenvalues lie before the largest gap, equation (5).

    Parameters
    ----------
    values : ndarray
        The smallest eigenvalues of a Laplacian, rising; two at least.

    Returns
    -------
    int
        From 1 to one less than there are values. Of equal gaps, the first counts.

    Raises
    ------
    ValueError
        If `values` are not real, finite and rising, or fewer than two.

    Examples
    --------
    >>> eigengap(np.array([0.0, 0.01, 0.02, 0.3, 0.5]))
    3
    """
    # given: the checks
    values = real_array(values, "values", ndim=1)
    if len(values) < 2 or (np.diff(values) < 0).any():
        raise ValueError(f"values must rise, and be two at least, got {values}")
    # yours
    return int(np.diff(values).argmax()) + 1


def lloyd_step(
    x: Samples, centres: Float[np.ndarray, "n_clusters n_features"]
) -> tuple[Labels, Float[np.ndarray, "n_clusters n_features"], float]:
    """Return one step of Lloyd's algorithm, equation (7).

    Parameters
    ----------
    x : ndarray
        The samples, one a row.
    centres : ndarray
        The centres, one a row.

    Returns
    -------
    labels : ndarray
        The nearest of the given centres for each sample; of equally near ones, the first.
    updated : ndarray
        The mean of each cluster. A centre without samples stays where it is.
    inertia : float
        Equation (6), with these labels and the centres that were given.

    Raises
    ------
    ValueError
        If `x` or `centres` is not a matrix of real, finite numbers, or they differ in their features.

    Examples
    --------
    >>> lloyd_step(np.array([[0.0], [1.0], [5.0], [7.0]]), np.array([[0.0], [4.0]]))
    (array([0, 0, 1, 1]), array([[0.5],
           [6. ]]), 11.0)
    """
    # given: the checks
    x, centres = real_array(x, "x", ndim=2), real_array(centres, "centres", ndim=2)
    if centres.shape[1] != x.shape[1]:
        raise ValueError(f"centres must have the {x.shape[1]} features of x, got {centres.shape[1]}")
    # yours
    squared = np.stack([((x - centre) ** 2).sum(axis=1) for centre in centres])
    labels = squared.argmin(axis=0)
    members = (labels == np.arange(len(centres))[:, None]).astype(x.dtype)
    sizes = members.sum(axis=1, keepdims=True)
    updated = np.where(sizes > 0, members @ x / np.maximum(sizes, 1), centres)
    return labels, updated, float(squared.min(axis=0).sum())


@dataclass(frozen=True)
class KMeans:
    """What k-means came to."""

    labels: Labels
    """The cluster of each sample."""
    centres: Float[np.ndarray, "n_clusters n_features"]
    """The means of the clusters."""
    inertia: float
    """Equation (6), at the last step of this start."""
    n_iter: int
    """How many steps this start took, with the one in which nothing changed."""
    converged: bool
    """Whether a step came in which the centres did not change."""


def kmeans(x: Samples, k: int, *, rng: np.random.Generator, n_init: int = 10, max_iter: int = 300) -> KMeans:
    """Return the best of several runs of Lloyd's algorithm: the one whose inertia (6) is smallest.

    Parameters
    ----------
    x : ndarray
        The samples, one a row.
    k : int
        How many clusters, from 1 to the number of samples.
    rng : numpy.random.Generator
        Draws the centres to start from.
    n_init : int
        How many starts, at least 1.
    max_iter : int
        How many steps each may take, at least 1.

    Returns
    -------
    KMeans
        The best run. A run ends as soon as a step leaves the centres as they are, or after `max_iter` steps.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers, or one of the numbers is not as said above.

    Examples
    --------
    >>> result = kmeans(np.array([[0.0], [1.0], [5.0], [7.0]]), 2, rng=np.random.default_rng(0))
    >>> result.inertia, result.converged
    (2.5, True)
    """
    # given: the checks; _seeds(x, k, rng) draws centres to start from
    x = real_array(x, "x", ndim=2)
    k = _whole(k, "k", len(x))
    n_init, max_iter = _whole(n_init, "n_init"), _whole(max_iter, "max_iter")
    # yours
    runs = []
    for _ in range(n_init):
        centres, n_iter, converged = _seeds(x, k, rng), 0, False
        while not converged and n_iter < max_iter:
            labels, updated, inertia = lloyd_step(x, centres)
            converged = np.array_equal(updated, centres)
            centres, n_iter = updated, n_iter + 1
        runs.append(KMeans(labels, centres, inertia, n_iter, converged))
    return min(runs, key=lambda run: run.inertia)


def matched_accuracy(labels: Labels, truth: Labels) -> float:
    """Return the share of samples whose labels are right, once clusters are matched with groups in the best way, equation (8).

    Parameters
    ----------
    labels : ndarray
        The clusters that were found, whole numbers.
    truth : ndarray
        The true groups, whole numbers. There may be more or fewer of them; what is left over matches nothing.

    Returns
    -------
    float
        From 0 to 1. It does not depend on the names of clusters or groups.

    Raises
    ------
    ValueError
        If the labels are not whole numbers, or not equally many.

    Examples
    --------
    >>> matched_accuracy(np.array([7, 7, 7, 2, 2]), np.array([0, 0, 1, 1, 1]))
    0.8
    """
    # given: the checks; both now have the labels 0, 1, 2, ...
    labels, truth = _labels(labels, "labels"), _labels(truth, "truth")
    if len(labels) != len(truth):
        raise ValueError(f"truth must have a label for each of the {len(labels)} samples, got {len(truth)}")
    # yours
    counts = np.zeros((labels.max() + 1, truth.max() + 1))
    np.add.at(counts, (labels, truth), 1)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum()) / len(labels)


class SpectralClustering:
    """Clusters of samples by a graph of their similarities, with scikit-learn's interface.

    Parameters
    ----------
    n_clusters : int, optional
        How many clusters. None leaves it to the eigengap (5), among 1 to `max_clusters`.
    method : {"ng_jordan_weiss", "shi_malik", "unnormalised"}
        Which of the three algorithms.
    affinity : {"knn", "mutual_knn", "self_tuning", "full", "epsilon", "precomputed"}
        Which graph. For "precomputed", `fit` takes a graph in place of samples, dense or sparse, of which the diagonal
        is ignored.
    n_neighbors : int
        For "knn" and "mutual_knn" the number of neighbours, for "self_tuning" the neighbour whose distance is the
        scale.
    scale : float
        The scale of "full".
    radius : float
        The largest distance of neighbours for "epsilon".
    max_clusters : int
        The most that the eigengap may choose; fewer if there are not more samples.
    n_init : int
        How many starts of k-means.
    random_state : int, numpy.random.Generator or None
        What `numpy.random.default_rng` makes a generator of, for k-means.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        The cluster of each sample: those of `kmeans` on `embedding_`, with `n_init` starts and the generator.
    n_clusters_ : int
        How many clusters were asked for, or chosen.
    embedding_ : ndarray of shape (n_samples, n_clusters_)
        The rows that went to k-means.
    eigenvalues_ : ndarray of shape (n_clusters_,)
        The eigenvalues of its columns.
    affinity_matrix_ : ndarray or csr_array of shape (n_samples, n_samples)
        The graph.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.5], [9.0], [10.0], [11.5]])
    >>> labels = SpectralClustering(2, n_neighbors=2, random_state=0).fit(x).labels_
    >>> matched_accuracy(labels, np.array([0, 0, 0, 1, 1, 1]))
    1.0
    """

    labels_: Labels
    n_clusters_: int
    embedding_: Float[np.ndarray, "n_samples n_clusters"]
    eigenvalues_: Float[np.ndarray, " n_clusters"]
    affinity_matrix_: Graph

    def __init__(  # given
        self,
        n_clusters: int | None = 2,
        *,
        method: Method = "ng_jordan_weiss",
        affinity: Affinity = "knn",
        n_neighbors: int = 10,
        scale: float = 1.0,
        radius: float = 1.0,
        max_clusters: int = 10,
        n_init: int = 10,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.method: Method = method
        self.affinity: Affinity = affinity
        self.n_neighbors = n_neighbors
        self.scale = scale
        self.radius = radius
        self.max_clusters = max_clusters
        self.n_init = n_init
        self.random_state = random_state

    def _graph(self, X: Any) -> Any:  # given: the choice of the graph
        """Return the graph of the samples."""
        if self.affinity == "precomputed":
            if issparse(X):
                entries = coo_array(X)
                i, j = entries.coords
                other = i != j
                return csr_array((entries.data[other], (i[other], j[other])), shape=entries.shape)
            X = real_array(X, "X", ndim=2).copy()
            np.fill_diagonal(X, 0)
            return X
        X = real_array(X, "X", ndim=2)
        if self.affinity in ("knn", "mutual_knn"):
            k = _whole(self.n_neighbors, "n_neighbors", len(X) - 1)
            return _neighbour_graph(X, k, mutual=self.affinity == "mutual_knn")
        if self.affinity == "self_tuning":
            return self_tuning_graph(squared_distances(X), _whole(self.n_neighbors, "n_neighbors", len(X) - 1))
        if self.affinity == "full":
            return gaussian_graph(squared_distances(X), self.scale)
        if self.affinity == "epsilon":
            return epsilon_graph(squared_distances(X), self.radius)
        raise ValueError(f"affinity must be one of those listed, got {self.affinity!r}")

    def fit(self, X: Samples | Graph) -> "SpectralClustering":
        """Cluster samples.

        Parameters
        ----------
        X : ndarray or csr_array
            The samples, one a row; or the graph, if `affinity` is "precomputed".

        Returns
        -------
        SpectralClustering
            Itself.

        Raises
        ------
        ValueError
            If `X` is not a matrix of real, finite numbers, or a parameter is not as said above. There must be as many
            samples as clusters, and more than `n_neighbors`.
        """
        # given: the checks and the graph
        if self.method not in KINDS:
            raise ValueError(f"method must be one of {', '.join(KINDS)}, got {self.method!r}")
        graph = self._graph(X)
        n = graph.shape[0]
        k = None if self.n_clusters is None else _whole(self.n_clusters, "n_clusters", n)
        most = min(_whole(self.max_clusters, "max_clusters"), n - 1)
        rng = np.random.default_rng(self.random_state)
        # yours
        if k is None:
            k = eigengap(smallest_eigenpairs(graph, most + 1, KINDS[self.method])[0])
        values, embedding = spectral_embedding(graph, k, self.method)
        self.affinity_matrix_, self.n_clusters_ = graph, k
        self.eigenvalues_, self.embedding_ = values, embedding
        self.labels_ = kmeans(embedding, k, rng=rng, n_init=self.n_init).labels
        return self

    def fit_predict(self, X: Samples | Graph) -> Labels:  # given
        """Cluster samples and return their labels.

        Parameters
        ----------
        X : ndarray or csr_array
            As for `fit`.

        Returns
        -------
        ndarray
            The attribute `labels_`.
        """
        return self.fit(X).labels_
