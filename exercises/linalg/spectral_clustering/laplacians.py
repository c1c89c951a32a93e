r"""Graph Laplacians: a graph's pieces and bottlenecks, read off eigenvectors.

## Idea

Give each vertex of a graph a number, and ask how much the numbers differ across edges. A vector that is constant on
each connected component does not vary at all; one that is nearly constant on two parts, and jumps where few edges
cross, varies little. The Laplacian is the matrix of that question. Its smallest eigenvalues say into how many pieces a
graph falls or nearly falls, and its eigenvectors say which vertices lie in which.

## Maths

Let $W$ be the symmetric matrix of weights $w_{ij} \ge 0$, with $w_{ii} = 0$. The *degree* of a vertex is the weight of
its edges,

$$d_i = \sum_j w_{ij}, \qquad D = \operatorname{diag}(d_1, \dots, d_n). \tag{1}$$

**Three Laplacians.** The unnormalised one is

$$L = D - W. \tag{2}$$

With degrees that differ much, a few heavy vertices govern it. Two normalisations help:

$$L_{\mathrm{sym}} = D^{-1/2} L\, D^{-1/2}, \tag{3}$$

$$L_{\mathrm{rw}} = D^{-1} L. \tag{4}$$

For positive degrees they are $I - D^{-1/2} W D^{-1/2}$ and $I - D^{-1} W$, where the rows of $D^{-1} W$ are the
probabilities with which a random walk goes on. An isolated vertex has $d_i = 0$.
Its row of $L$ is 0, and so are its rows of (3) and (4), whatever is put in the place of $1/0$. We put 1 there, as SciPy
does, which matters for (6) only.

**What they measure.** For every vector $f$, as $W$ is symmetric,

$$f^\top L f = \sum_i d_i f_i^2 - \sum_{ij} w_{ij} f_i f_j = \frac12 \sum_{ij} w_{ij} (f_i - f_j)^2. \tag{5}$$

The right side is never negative and does not change when a constant is added to $f$. In rounded arithmetic only the
right side keeps these promises. By (5), $L$ and $L_{\mathrm{sym}}$ have no negative eigenvalue, and $L f = 0$ where $f$
is constant on each connected component and only there: *the multiplicity of the eigenvalue 0 is the number of
components.* Above, those of $L$ reach at most $2 \max_i d_i$, and those of $L_{\mathrm{sym}}$ at most 2, since
$(f_i - f_j)^2 \le 2 f_i^2 + 2 f_j^2$.

**One problem in three forms.** Let $L_{\mathrm{sym}} v = \lambda v$ and $u = D^{-1/2} v$. Multiply from the left by
$D^{1/2}$, or by $D^{-1/2}$:

$$L u = \lambda D u, \qquad L_{\mathrm{rw}} u = \lambda u. \tag{6}$$

So $L_{\mathrm{rw}}$, though not symmetric, has the real eigenvalues of $L_{\mathrm{sym}}$, and its eigenvectors come
from those of a symmetric matrix. If the $v$ have length 1, then $u^\top D u = 1$. The constant vector is an eigenvector
$u$ for $\lambda = 0$; $v$ is then not constant but $D^{1/2} \mathbf 1$.

**Cuts.** Split the vertices into $A_1, \dots, A_k$. The weight of the edges that leave $A$ is $\operatorname{cut}(A)$,
and its volume $\operatorname{vol}(A) = \sum_{i \in A} d_i$. Small cuts alone mostly split off single vertices. So
divide by the size, or by the volume:

$$\operatorname{cut} = \frac12 \sum_c \operatorname{cut}(A_c), \qquad \operatorname{RatioCut} = \sum_c \frac{\operatorname{cut}(A_c)}{|A_c|}, \qquad
\operatorname{Ncut} = \sum_c \frac{\operatorname{cut}(A_c)}{\operatorname{vol}(A_c)}. \tag{7}$$

The half is there because each edge leaves two parts. To minimise the last two is hard. But by (5), for two parts,
RatioCut is $f^\top L f / f^\top f$ for an $f$ with two values only and $\sum_i f_i = 0$; let $f$ have any values, and
the minimum is the second smallest eigenvalue of $L$, at its eigenvector: the *Fiedler vector*. In the same way Ncut
leads to (6).

**Cheeger.** How much does giving up the two values cost? Let the *conductance* of $A$ be

$$h(A) = \frac{\operatorname{cut}(A)}{\min\big(\operatorname{vol}(A), \operatorname{vol}(A^c)\big)}, \tag{8}$$

and $h$ the smallest of all $A$ with volume on both sides. If $\lambda_2$ is the second eigenvalue of
$L_{\mathrm{sym}}$, then

$$\frac{\lambda_2}{2} \le h \le \sqrt{2 \lambda_2}. \tag{9}$$

The proof of the second half is an algorithm: put the vertices in the order of $u$, the second eigenvector of (6). One
of the $n - 1$ sets that begin this order has a conductance of at most $\sqrt{2 \lambda_2}$.

## Worked example

A path of three vertices with the weights 2 and 1:
$W = \begin{pmatrix} 0 & 2 & 0 \\ 2 & 0 & 1 \\ 0 & 1 & 0 \end{pmatrix}$, degrees $2, 3, 1$. Then

$$L = \begin{pmatrix} 2 & -2 & 0 \\ -2 & 3 & -1 \\ 0 & -1 & 1 \end{pmatrix}, \qquad
L_{\mathrm{rw}} = \begin{pmatrix} 1 & -1 & 0 \\ -\frac23 & 1 & -\frac13 \\ 0 & -1 & 1 \end{pmatrix}.$$

For $f = (1, 2, 4)$ equation (5) gives $2 \cdot 1 + 1 \cdot 4 = 6$. The trace of $L_{\mathrm{rw}}$ is 3, and
$(1, 0, -2)$ is an eigenvector for $\lambda = 1$; the constant one has $0$, so the third eigenvalue is 2, as in every
graph without odd cycles. In the order $1, 0, -2$ the sets are $\{1\}$ with $h = 2 / \min(2, 4) = 1$, and $\{1, 2\}$
with $h = 1 / \min(5, 1) = 1$. And $\lambda_2 / 2 = 0.5 \le 1 \le \sqrt 2$. With $A_1 = \{1, 2\}$, (7) says: cut 1,
RatioCut $\frac12 + 1$, Ncut $\frac15 + 1$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `degrees` | a graph | $d$ | (1) |
| `unnormalised_laplacian` | a graph | $L$ | (2) |
| `symmetric_laplacian` | a graph | $L_{\mathrm{sym}}$ | (3) |
| `random_walk_laplacian` | a graph | $L_{\mathrm{rw}}$ | (4) |
| `quadratic_form` | a graph, a vector | $f^\top L f$ | (5) |
| `smallest_eigenpairs` | a graph, how many, which Laplacian | eigenvalues and eigenvectors | (6) |
| `cut_values` | a graph, labels | a `Cut` | (7) |
| `sweep_cut` | a graph, a vector | the best set of its order, and $h$ | (8) |

Graphs are dense arrays or `csr_array`s, and Laplacians are of the same kind. Checks and `_solve`, which finds the
smallest eigenpairs of a symmetric matrix, are given.

## Pitfalls

- `nan` or infinity in the rows of isolated vertices; or a 1 on their diagonal, and there are fewer zeros among the
  eigenvalues than components.
- A sparse graph becomes a dense Laplacian without a word.
- $f^\top L f$ is negative, or pure noise, for a vector with a large mean.
- Eigenvectors of $L_{\mathrm{rw}}$ that are not constant on components: they belong to $L_{\mathrm{sym}}$.
- Eigenvectors of an eigenvalue that repeats are any basis of its space. That of a graph in two pieces may look like
  noise, until you see that it has only two different rows.
- The sign of an eigenvector is chance.
- A side of nothing but isolated vertices has a volume of $10^{-16}$, and the best cut of all.

## Cost

Laplacians cost a step for each entry. All eigenvectors of a dense one take $O(n^3)$; LAPACK, asked for the smallest $k$
only, still reduces the whole matrix. Of a sparse one, a few come from Lanczos' method, whose steps are products with a
matrix. It finds large eigenvalues, and there are two ways to turn small into large. $2I - L_{\mathrm{sym}}$ needs no
inverse, but its eigenvalues near 2 are crowded: for two crescents of 2,000 samples and 10 neighbours it takes some
3,500 products, 270 ms. The inverse of $L_{\mathrm{sym}} + s I$ pulls them apart; with one sparse factorisation it takes
15 ms. That is the way taken here. It is cheap while the factors stay sparse, as they do for samples in few dimensions,
and not for random graphs, for which the first way is quick.

From one starting vector Lanczos' method sees one direction of each eigenspace, and the copies of repeated eigenvalues
only thanks to rounding. The given solver therefore looks again in what is orthogonal to the vectors found, until
nothing smaller is left there. With that it takes 1.4 times as long as SciPy's `eigsh` in the benchmark. Laplacians take
6 to 10 times as long as SciPy's, that is 3 to 8 ms: their checks read the graph several times, and the formulas are
written as they stand.

## Go further

An experiment: a path, a cycle, a star and a complete graph of 12 vertices. Plot the eigenvalues of $L$ for each, and
the first eigenvectors of the path. Where have you seen these waves before? A stretch goal: the effective resistance
between two vertices is $(e_i - e_j)^\top L^+ (e_i - e_j)$, with the pseudo-inverse; check that in a tree it is the sum
of $1/w$ along the path.

## References

1. von Luxburg (2007), A tutorial on spectral clustering, https://doi.org/10.1007/s11222-007-9033-z
2. Chung (1997), Spectral graph theory, chapters 1 and 2, https://doi.org/10.1090/cbms/092
3. Shi & Malik (2000), Normalized cuts and image segmentation, https://doi.org/10.1109/34.868688
4. Fiedler (1973), Algebraic connectivity of graphs, https://doi.org/10.21136/CMJ.1973.101168
"""

# 8 parts to write. Test them with: pytest exercises/linalg/spectral_clustering/laplacians.py
# To be written without: sklearn, scipy.sparse.csgraph, networkx, torch

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.sparse import coo_array, csc_array, csr_array, diags_array, issparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu

from mlpath.linalg._shared import real_array, square_matrix

Matrix = Float[np.ndarray, "n_vertices n_vertices"]
Graph = Matrix | csr_array
Vector = Float[np.ndarray, " n_vertices"]
Kind = Literal["unnormalised", "symmetric", "random_walk"]


def _weights(graph: Any) -> Any:  # given: argument checks
    """Return the weights of a graph in floats: an array, or a csr_array if it is sparse."""
    if issparse(graph):
        w = csr_array(graph)
        shape = w.shape or ()
        if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
            raise ValueError(f"graph must be a square matrix, got the shape {shape}")
        w = w if w.dtype.kind == "f" else w.astype(np.float64)
        values, loops, gap = w.data, w.diagonal(), np.abs((w - w.T).data).max(initial=0)
    else:
        w = values = square_matrix(graph, "graph")
        loops, gap = np.diagonal(w), np.abs(w - w.T).max()
    if not np.isfinite(values).all() or values.min(initial=0) < 0:
        raise ValueError("graph must have weights that are finite and not negative")
    if loops.any():
        raise ValueError(f"graph must have no edge from a vertex to itself, got {loops} on its diagonal")
    if gap > 100 * np.finfo(w.dtype).eps * values.max(initial=0):
        raise ValueError(f"graph must be symmetric, got weights that differ by {gap:.3g} across the diagonal")
    return w


def _vector(f: ArrayLike, graph: Any, name: str) -> np.ndarray:  # given: argument checks
    """Return a vector with an entry for each vertex."""
    f = real_array(f, name, ndim=1)
    if len(f) != graph.shape[0]:
        raise ValueError(f"{name} must have an entry for each of the {graph.shape[0]} vertices, got {len(f)}")
    return f


def _solve(matrix: Any, k: int) -> tuple[np.ndarray, np.ndarray]:  # given: the eigenproblem
    """Return the `k` smallest eigenvalues, rising, and orthonormal eigenvectors of a symmetric matrix without negative eigenvalues."""
    n = matrix.shape[0]
    if not issparse(matrix) or n <= max(64, 4 * k):
        dense = matrix.toarray() if issparse(matrix) else matrix
        return eigh(dense, subset_by_index=(0, k - 1))
    shift = 1e-4 * (abs(matrix).sum(axis=1).max() or 1.0)  # of a bound on the largest eigenvalue
    shifted = csc_array(matrix + diags_array(np.full(n, shift)), dtype=np.float64)
    factors = splu(shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
    found, start = np.zeros((n, 0)), np.random.default_rng(0).normal(size=n)

    def inverse(x: np.ndarray) -> np.ndarray:
        """The inverse, on what is orthogonal to the vectors found."""
        y = factors.solve((x - found @ (found.T @ x)).ravel())
        return y - found @ (found.T @ y)

    def largest(count: int, tol: Any = 0) -> Any:
        operator = LinearOperator((n, n), inverse, dtype=np.float64)  # pyright: ignore[reportCallIssue]
        return eigsh(operator, count, which="LA", v0=start, tol=tol)

    try:
        large, found = largest(k)
        while largest(1, tol=1e-6)[0][0] > large.min() * (1 + 1e-4):  # it has missed copies of a repeated eigenvalue
            (value,), vector = largest(1)
            last = large.argmin()
            large[last], found[:, last] = value, vector[:, 0]
    except ArpackNoConvergence as error:
        raise np.linalg.LinAlgError(f"the eigenvectors did not converge: {error}") from None
    order = np.argsort(-large)
    return (1 / large[order] - shift).astype(matrix.dtype), found[:, order].astype(matrix.dtype)


def _entries(w: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # given: the entries that are not 0
    """Return rows, columns and weights of all entries that are not 0: each edge comes twice, once from each end."""
    entries = coo_array(w)
    i, j = entries.coords
    return i, j, entries.data


def degrees(graph: Graph) -> Vector:
    """Return the degrees of the vertices, equation (1).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.

    Returns
    -------
    ndarray
        The weight of each vertex' edges, in one axis, whatever the kind of `graph`; float32 if that is.

    Raises
    ------
    ValueError
        If `graph` is no such matrix.

    Examples
    --------
    >>> degrees(np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
    array([2., 3., 1.])
    """
    # given: the check
    w = _weights(graph)
    raise NotImplementedError("not written yet: degrees")


def unnormalised_laplacian(graph: Graph) -> Graph:
    """Return the unnormalised Laplacian, equation (2).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.

    Returns
    -------
    ndarray or csr_array
        The Laplacian, sparse if `graph` is; float32 if that is.

    Raises
    ------
    ValueError
        If `graph` is no such matrix.

    Examples
    --------
    >>> unnormalised_laplacian(np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
    array([[ 2., -2.,  0.],
           [-2.,  3., -1.],
           [ 0., -1.,  1.]])
    """
    # given: the check; diags_array(d) is the diagonal matrix of d, and its sums and products with both kinds keep the kind
    w = _weights(graph)
    raise NotImplementedError("not written yet: unnormalised_laplacian")


def symmetric_laplacian(graph: Graph) -> Graph:
    """Return the symmetrically normalised Laplacian, equation (3).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.

    Returns
    -------
    ndarray or csr_array
        The Laplacian, sparse if `graph` is; float32 if that is. Rows and columns of isolated vertices are 0.

    Raises
    ------
    ValueError
        If `graph` is no such matrix.

    Examples
    --------
    >>> symmetric_laplacian(np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])).round(4)
    array([[ 1.    , -0.8165,  0.    ],
           [-0.8165,  1.    , -0.5774],
           [ 0.    , -0.5774,  1.    ]])
    """
    # given: the check; diags_array(d) is the diagonal matrix of d, and its sums and products with both kinds keep the kind
    w = _weights(graph)
    raise NotImplementedError("not written yet: symmetric_laplacian")


def random_walk_laplacian(graph: Graph) -> Graph:
    """Return the Laplacian of the random walk, equation (4).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.

    Returns
    -------
    ndarray or csr_array
        The Laplacian, sparse if `graph` is; float32 if that is. It is not symmetric. Rows of isolated vertices are 0.

    Raises
    ------
    ValueError
        If `graph` is no such matrix.

    Examples
    --------
    >>> random_walk_laplacian(np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])).round(4)
    array([[ 1.    , -1.    ,  0.    ],
           [-0.6667,  1.    , -0.3333],
           [ 0.    , -1.    ,  1.    ]])
    """
    # given: the check; diags_array(d) is the diagonal matrix of d, and its sums and products with both kinds keep the kind
    w = _weights(graph)
    raise NotImplementedError("not written yet: random_walk_laplacian")


def quadratic_form(graph: Graph, f: Vector) -> float:
    """Return how much a vector varies along the edges, equation (5), by its right side.

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.
    f : ndarray
        A number for each vertex.

    Returns
    -------
    float
        Never negative, and right to a few roundings even if the mean of `f` is large compared with its differences.

    Raises
    ------
    ValueError
        If `graph` is no such matrix, or `f` is not real, finite and of its length.

    Examples
    --------
    >>> quadratic_form(np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), np.array([1.0, 2.0, 4.0]))
    6.0
    """
    # given: the checks, and all entries that are not 0, each edge from both ends
    w = _weights(graph)
    f = _vector(f, w, "f")
    i, j, weights = _entries(w)
    raise NotImplementedError("not written yet: quadratic_form")


def smallest_eigenpairs(
    graph: Graph, k: int, kind: Kind = "symmetric"
) -> tuple[Float[np.ndarray, " {k}"], Float[np.ndarray, "n_vertices {k}"]]:
    r"""Return the smallest eigenvalues of a Laplacian, and eigenvectors: those of the random walk by equation (6).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.
    k : int
        How many, from 1 to n_vertices.
    kind : {"symmetric", "unnormalised", "random_walk"}
        Which Laplacian.

    Returns
    -------
    values : ndarray
        The eigenvalues, rising, as often as they repeat. None is negative, as rounding is cut off.
    vectors : ndarray
        One eigenvector a column. The columns are orthonormal; for the random walk $U^\top D U = I$ instead, with 1 in
        $D$ for isolated vertices. Signs, and bases for eigenvalues that repeat, are chance.

    Raises
    ------
    ValueError
        If `graph` is no such matrix, `k` no such number or `kind` unknown.
    LinAlgError
        If the eigenvectors of a sparse graph do not converge.

    Examples
    --------
    >>> values, vectors = smallest_eigenpairs(
    ...     np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), 2, "random_walk"
    ... )
    >>> (values + 0.0).round(4), (vectors[:, 1] / vectors[0, 1]).round(4) + 0.0
    (array([0., 1.]), array([ 1.,  0., -2.]))
    """
    # given: the checks; _solve(matrix, k) finds the smallest eigenpairs of a symmetric matrix
    w = _weights(graph)
    if k != int(k) or not 1 <= k <= w.shape[0]:
        raise ValueError(f"k must be a whole number from 1 to the {w.shape[0]} vertices, got {k}")
    if kind not in ("unnormalised", "symmetric", "random_walk"):
        raise ValueError(f'kind must be "unnormalised", "symmetric" or "random_walk", got {kind!r}')
    raise NotImplementedError("not written yet: smallest_eigenpairs")


@dataclass(frozen=True)
class Cut:
    """What it costs to split a graph into parts, equation (7)."""

    cut: float
    """The weight of all edges between parts."""
    ratio: float
    """RatioCut: for each part what leaves it, over its number of vertices."""
    normalised: float
    """Ncut: for each part what leaves it, over its volume."""


def cut_values(graph: Graph, labels: Int[np.ndarray, " n_vertices"]) -> Cut:
    """Return the cut, the ratio cut and the normalised cut of a partition, equation (7).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal.
    labels : ndarray
        For each vertex a whole number; vertices of one part have the same. Any numbers will do.

    Returns
    -------
    Cut
        The three values. A part without volume adds 0 to the normalised cut, since nothing leaves it. Small cuts
        between heavy parts keep their digits.

    Raises
    ------
    ValueError
        If `graph` is no such matrix, or `labels` are not whole numbers, one for each vertex.

    Examples
    --------
    >>> cut_values(np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), np.array([5, 5, 7]))
    Cut(cut=1.0, ratio=1.5, normalised=1.2)
    """
    # given: the checks; parts has the labels 0, 1, 2, ..., and all entries that are not 0 come from both ends
    w = _weights(graph)
    labels = np.asarray(labels)
    if labels.shape != (w.shape[0],) or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be a whole number for each of the {w.shape[0]} vertices, got {labels}")
    parts = np.unique(labels, return_inverse=True)[1]
    i, j, weights = _entries(w)
    raise NotImplementedError("not written yet: cut_values")


def sweep_cut(graph: Graph, f: Vector) -> tuple[Bool[np.ndarray, " n_vertices"], float]:
    """Return the set of least conductance among those that begin the order of a vector, equation (8).

    Parameters
    ----------
    graph : ndarray or csr_array
        The weights: symmetric, none negative, 0 on the diagonal; with an edge at least.
    f : ndarray
        A number for each vertex. Of equal ones, the vertex of lower index comes first.

    Returns
    -------
    members : ndarray
        True for the vertices of the set: those of smallest numbers. Of several best sets, the one with fewest vertices.
        Neither it nor its complement is without volume.
    conductance : float
        Its conductance, right to a few roundings of 1, the largest there can be.

    Raises
    ------
    ValueError
        If `graph` is no such matrix or has no edge, or `f` is not real, finite and of its length.

    Examples
    --------
    >>> members, conductance = sweep_cut(
    ...     np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 0.5], [0.0, 0.5, 0.0]]), np.array([1.0, 0.0, -2.0])
    ... )
    >>> members, conductance
    (array([False, False,  True]), 1.0)
    """
    # given: the checks, and all entries that are not 0, each edge from both ends
    w = _weights(graph)
    f = _vector(f, w, "f")
    i, j, weights = _entries(w)
    if not weights.any():
        raise ValueError("graph must have an edge, got none")
    raise NotImplementedError("not written yet: sweep_cut")
