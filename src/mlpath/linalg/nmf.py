r"""Non-negative matrix factorisation: parts that only add up.

## Idea

The singular value decomposition explains a matrix by patterns that may cancel each other: a face minus half of another,
a text that is minus 0.3 of a topic. Often no such thing exists. Brightness, counts of words and concentrations are
never negative, and neither are their causes. If we ask for a few patterns that are not negative, in amounts that are
not negative, then nothing can be taken away again, and each pattern has to be a real *part*: a stroke of a digit, the
words of a topic. The problem is no longer convex, and there is no formula for its answer. But there are two updates of
one line each that never leave the non-negative numbers and never make the fit worse.

## Maths

**The problem.** $A$ is $m \times n$ without negative entries, say with a document in each row and a word in each
column. We look for $W$ ($m \times k$, how much of each part a document has) and $H$ ($k \times n$, how much of each
word a part has), none of them with negative entries, such that $P = W H$ is near to $A$. Near means one of two things:

$$D(A, P) = \tfrac12 \sum_{ij} (a_{ij} - p_{ij})^2, \tag{1}$$

half the squared *Frobenius* norm, which is right for noise of one size, and the generalised *Kullback-Leibler
divergence*

$$D(A, P) = \sum_{ij} \Big( a_{ij} \log \frac{a_{ij}}{p_{ij}} - a_{ij} + p_{ij} \Big), \tag{2}$$

which is right for counts: up to a constant it is minus the log likelihood if $a_{ij}$ is Poisson with mean $p_{ij}$. In
(2) a term with $a_{ij} = 0$ is $p_{ij}$, and one with $a_{ij} > 0 = p_{ij}$ is infinite.

Multiplying a column of $W$ and dividing its row of $H$ by the same number changes nothing, nor does another order of
the parts: only $P$ can be compared, or parts brought to the same length.

**Slopes.** Let $Q$ hold the quotients $a_{ij} / p_{ij}$, and $\mathbf 1$ be the matrix of ones. By the chain rule, for
(1) and for (2),

$$\nabla_W D = (P - A) H^\top, \qquad \nabla_W D = (\mathbf 1 - Q) H^\top. \tag{3}$$

What holds for $W$ holds for $H$ if everything is transposed: $A^\top \approx H^\top W^\top$ has $H^\top$ for its left
factor.

At a minimum no entry wants to move, unless it stands at 0 and wants to go below (Karush, Kuhn and Tucker):

$$W \ge 0, \qquad \nabla_W D \ge 0, \qquad w_{ik}\, (\nabla_W D)_{ik} = 0. \tag{4}$$

**A bound that touches.** Row $i$ of $W$ meets only row $i$ of $A$. Let $w'$ be where this row is now,
$p'_j = \sum_k w'_k h_{kj}$, and $\varphi_{kj} = w'_k h_{kj} / p'_j$: the share of part $k$ in entry $j$. Shares add up
to 1, and $p_j = \sum_k \varphi_{kj}\, (w_k h_{kj} / \varphi_{kj})$ is a weighted mean. The square and $-\log$ are
convex, so that the function of a mean is at most the mean of the function:

$$\tfrac12 (a_j - p_j)^2 \le \tfrac12 \sum_k \varphi_{kj} \Big( a_j - \frac{w_k}{w'_k}\, p'_j \Big)^2, \qquad
-\log p_j \le - \sum_k \varphi_{kj} \log \Big( \frac{w_k}{w'_k}\, p'_j \Big). \tag{5}$$

At $w = w'$ both sides agree. So whatever lowers the right side lowers the left side at least as much, and the right
side is easy: there each $w_k$ stands alone. Setting its derivative to 0 gives the updates of Lee and Seung [2]:

$$w_{ik} \leftarrow w_{ik}\, \frac{(A H^\top)_{ik}}{(W H H^\top)_{ik}}, \tag{6}$$

$$w_{ik} \leftarrow w_{ik}\, \frac{(Q H^\top)_{ik}}{\sum_j h_{kj}}. \tag{7}$$

Each is $W$ times the negative part of its slope (3) over the positive part. What is 0 stays 0. Where a denominator is
0, the numerator times $w_{ik}$ is 0 as well, and the result is defined to be 0. An entry with $p_{ij} = 0$ has no say
in (7), whatever its quotient: every $w_{ik} h_{kj}$ there is 0. We take $q_{ij} = 0$.

One iteration updates $W$, and then $H$ with the new $W$.

**Where to begin.** As zeros stay, a start decides what can be found. NNDSVD [3] begins with the singular value
decomposition $A = \sum_j \sigma_j u_j v_j^\top$. Split $u = u^+ - u^-$ and $v = v^+ - v^-$ into what is positive and
what is negative. Then

$$u v^\top = \big( u^+ v^{+\top} + u^- v^{-\top} \big) - \big( u^+ v^{-\top} + u^- v^{+\top} \big). \tag{8}$$

The first bracket is the part of $u v^\top$ that is not negative, and its two terms have lengths
$\mu^\pm = \lVert u^\pm \rVert \lVert v^\pm \rVert$. The longer of the two is kept. With $s$ the sign of it, part $j$
begins as

$$w_j = \sqrt{\sigma_j \mu^s}\, \frac{u^s}{\lVert u^s \rVert}, \qquad h_j = \sqrt{\sigma_j \mu^s}\, \frac{v^s}{\lVert v^s \rVert}. \tag{9}$$

The first pattern has no negative entries (Perron and Frobenius), up to its sign, and is kept whole. There are many
zeros, which makes sparse parts; for a better fit they can be filled with small numbers. Our unit for them is
$\sqrt{\bar a / k}$, with $\bar a$ the mean of $A$: if all entries of $W$ and $H$ are that, then $P$ has the mean of
$A$. The paper fills with $\bar a$ itself, which is not in the units of a factor.

**When to stop.** Every ten iterations we compare $D$ with its last record $D'$, and are content when

$$D \ge (1 - \text{tol})\, D'. \tag{10}$$

## Worked example

$A = \begin{pmatrix} 3 & 1 \\ 1 & 2 \end{pmatrix}$, one part, $W = (1, 1)^\top$ and $H = (1, 1)$. The differences are 2,
0, 0, 1, and (1) is $5 / 2 = 2.5$. As $A H^\top = (4, 3)^\top$ and $W H H^\top = (2, 2)^\top$, (6) gives
$W = (2, 1.5)^\top$. Now (1) is $(1 + 1 + 0.25 + 0.25) / 2 = 1.25$. For $H$, $W^\top A = (7.5, 5)$ over
$W^\top W H = (6.25, 6.25)$: $H = (1.2, 0.8)$, and $P = \begin{pmatrix} 2.4 & 1.6 \\ 1.8 & 1.2 \end{pmatrix}$ with (1)
equal to 1. By (7), the quotients are $A$ itself, $Q H^\top = (4, 3)^\top$ over 2: the same $W$, by chance. Then
$Q = \begin{pmatrix} 1.5 & 0.5 \\ 0.667 & 1.333 \end{pmatrix}$ and $H = (4, 3) / 3.5$, so that $P$ has the sums of rows
and of columns that $A$ has.

For (9): $\begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}$ has $\sigma_2 = \sqrt 5$, $u_2 = (3, -1) / \sqrt{10}$ and
$v_2 = (1, -1) / \sqrt 2$. So $\mu^+ = 3 / \sqrt{20} = 0.671$ and $\mu^- = 0.224$. The positive parts are kept:
$w_2 = h_2 = \sqrt{1.5}\, (1, 0)$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `divergence` | $A$, $W$, $H$, which of the two | $D$ | (1), (2) |
| `quotients` | $A$, $W$, $H$ | $Q$ | below (7) |
| `gradient` | $A$, $W$, $H$, which of the two | $\nabla_W D$ | (3) |
| `frobenius_update` | $A$, $W$, $H$ | the new $W$ | (6) |
| `kl_update` | $A$, $W$, $H$ | the new $W$ | (7) |
| `nndsvd` | $A$, $k$, how much to fill in | $W$ and $H$ to begin with | (8), (9) |
| `factorize` | $A$, $W$ and $H$ to begin with | a `Factorization`: the last $W$ and $H$, and how $D$ fell | (6), (7), (10) |
| `transform` | new rows, $H$ | a `Factorization` with the $W$ of these rows | (6), (7), (10) |

$A$ may be sparse. Then $W H$ must not be formed whole: `_entries`, which is given, returns the entries of $A$ that are
stored and those of $W H$ in the same places, and `_with_entries` puts numbers back into these places; for a full $A$
the same two handle all entries. For (1) the square multiplied out, $\lVert A \rVert^2 - 2 \langle A H^\top, W \rangle +
\langle W^\top W, H H^\top \rangle$, does with small products. `leading_patterns`, which is given, returns the
$\sigma_j$, $u_j$ and $v_j$. Everything is in the units of the data: squares must fit, which holds for entries from
$10^{-150}$ to $10^{150}$.

## Pitfalls

- A row of NaN after the first update, in data with an empty row or column.
- The divergence of (2) is NaN, although only a few entries of $A$ are 0.
- $D$ rises now and then, by little: which $W$ did the update of $H$ see?
- Right for square $A$, and an error about shapes, or nonsense, for others.
- Some parts are zero from the start and stay so.
- For sparse $A$ the divergence is too small: entries that are not stored count too.

## Cost

$O(m n k)$ per iteration for full $A$; for sparse $A$ with $z$ stored entries $O((z + m k + n k)\, k)$ by (6) and
$O(z k)$ by (7). Each iteration is cheap, but many are needed: convergence is linear at best, and slow where entries die
out. Coordinate descent and active sets need fewer for (1). Beside scikit-learn's `NMF(solver="mu")` at the same number
of iterations ours takes as long by (1), and by (2) 0.8 times as long for full data and 0.6 times as long for sparse
ones.

## Go further

An experiment: factorise the digits with $k = 4, 16, 64$ and look at the parts, then do it with `fill=0` and `fill=1`.
Which parts are sparser? A stretch goal: add an $L_1$ penalty on $W$. It goes to the denominator; what keeps $H$ from
growing without bounds?

What is not here: other divergences, penalties, missing entries, mini-batches, and how to choose $k$.

## References

1. Lee & Seung (1999), Learning the parts of objects by non-negative matrix factorization, https://doi.org/10.1038/44565
2. Lee & Seung (2000), Algorithms for non-negative matrix factorization,
   https://papers.nips.cc/paper/1861-algorithms-for-non-negative-matrix-factorization
3. Boutsidis & Gallopoulos (2008), SVD based initialization: a head start for nonnegative matrix factorization,
   https://doi.org/10.1016/j.patcog.2007.09.010
4. Lin (2007), On the convergence of multiplicative update algorithms for nonnegative matrix factorization,
   https://doi.org/10.1109/TNN.2007.895831
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array, issparse
from scipy.sparse.linalg import svds

from mlpath.linalg._shared import real_array

Loss = Literal["frobenius", "kl"]
Sparse = Any  # a sparse array of SciPy
RECORD_EVERY = 10  # iterations


@dataclass(frozen=True)
class Factorization:
    """Two factors without negative entries, and how they were found.

    Attributes
    ----------
    w : ndarray of shape (n_rows, n_parts)
        How much of each part a row has.
    h : ndarray of shape (n_parts, n_cols)
        The parts.
    objective : ndarray of shape (n_records,)
        The divergence (1) or (2) at the start, after every tenth iteration, and after the last.
    n_iter : int
        How many iterations there were.
    converged : bool
        Whether they ended by (10).
    """

    w: Float[np.ndarray, "n_rows n_parts"]
    h: Float[np.ndarray, "n_parts n_cols"]
    objective: Float[np.ndarray, " n_records"]
    n_iter: int
    converged: bool


def _data(values: Any) -> Any:  # given: argument checks
    """Return data as an array of floats, or a sparse one in compressed form, none negative, or raise a ValueError."""
    a: Any = values
    if not issparse(a):
        a = stored = real_array(values, "a", ndim=2)
    else:
        a = values if values.format in ("csr", "csc") and values.has_canonical_format else csr_array(values)
        a = a if a.dtype.kind == "f" else a.astype(np.float64)
        if 0 in a.shape:
            raise ValueError(f"a must not be empty, got the shape {a.shape}")
        stored = a.data
        if not np.isfinite(stored).all():
            raise ValueError(f"a must be finite, got {stored}")
    if (stored < 0).any():
        raise ValueError(f"a must not be negative, got {stored.min()}")
    return a


def _factors(a: Any, w: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return factors that fit the data, as arrays of floats, none negative, or raise a ValueError."""
    w, h = real_array(w, "w", ndim=2), real_array(h, "h", ndim=2)
    if len(w) != a.shape[0]:
        raise ValueError(f"w must have {a.shape[0]} rows, as many as a, got the shape {w.shape}")
    if h.shape != (w.shape[1], a.shape[1]):
        raise ValueError(f"h must have the shape {(w.shape[1], a.shape[1])}, got {h.shape}")
    for name, factor in (("w", w), ("h", h)):
        if factor.min() < 0:
            raise ValueError(f"{name} must not be negative, got {factor.min()}")
    return w, h


def _check_loss(loss: str) -> None:  # given: argument checks
    if loss not in ("frobenius", "kl"):
        raise ValueError(f"loss must be 'frobenius' or 'kl', got {loss!r}")


def _check_stop(max_iter: int, tol: float) -> None:  # given: argument checks
    if max_iter != int(max_iter) or max_iter < 1:
        raise ValueError(f"max_iter must be a whole number from 1 on, got {max_iter}")
    if not 0 <= tol < np.inf:
        raise ValueError(f"tol must be finite and not negative, got {tol}")


def _entries(a: Any, w: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: sparse data
    """Return the entries of `a`, and those of `w @ h` in the same places, a new array; of sparse `a` only what is stored."""
    if not issparse(a):
        return a, w @ h
    places: Any = a.tocoo(copy=False)
    product, ht = np.empty(len(places.data), np.result_type(w, h)), np.ascontiguousarray(h.T)
    for start in range(0, len(product), 10_000):  # in pieces that fit into the cache
        piece = slice(start, start + 10_000)
        product[piece] = np.einsum("ij,ij->i", w[places.row[piece]], ht[places.col[piece]])
    return a.data, product


def _with_entries(a: Any, values: np.ndarray) -> Any:  # given: sparse data
    """Return what `_entries` makes of a matrix back in its places, sparse if `a` is."""
    return type(a)((values, a.indices, a.indptr), shape=a.shape) if issparse(a) else values


def leading_patterns(  # given: singular values
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse, n_parts: int
) -> tuple[
    Float[np.ndarray, " {n_parts}"], Float[np.ndarray, "{n_parts} n_rows"], Float[np.ndarray, "{n_parts} n_cols"]
]:
    """Return the largest singular values of a matrix, dense or sparse, and their vectors.

    Parameters
    ----------
    a : ndarray or sparse array of shape (n_rows, n_cols)
        The matrix.
    n_parts : int
        How many.

    Returns
    -------
    s, u, v : ndarray of shapes (n_parts,), (n_parts, n_rows), (n_parts, n_cols)
        From the largest; of each pair of vectors the signs may turn together. Vectors stand in rows.

    Examples
    --------
    >>> s, u, v = leading_patterns(np.array([[3.0, 0.0], [4.0, 5.0]]), 1)
    >>> s.round(4), np.abs(v).round(4)
    (array([6.7082]), array([[0.7071, 0.7071]]))
    """
    if issparse(a) and n_parts < min(a.shape):
        found: Any = svds(a, n_parts, v0=np.ones(min(a.shape), a.dtype))  # from the smallest
        u, s, vt = found[0][:, ::-1], found[1][::-1], found[2][::-1]
    else:
        dense: Any = a
        u, s, vt = np.linalg.svd(dense.toarray() if issparse(a) else dense, full_matrices=False)
    return s[:n_parts], u.T[:n_parts], vt[:n_parts]


def divergence(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    w: Float[np.ndarray, "n_rows n_parts"],
    h: Float[np.ndarray, "n_parts n_cols"],
    loss: Loss = "frobenius",
) -> float:
    """Return how far W H is from the data, equation (1) or (2).

    Parameters
    ----------
    a : ndarray or sparse array
        The data, none negative.
    w, h : ndarray
        The factors, none negative.
    loss : {"frobenius", "kl"}
        Equation (1) or (2).

    Returns
    -------
    float
        $D$. By (2) infinite where some entry of `a` is positive and that of W H is 0. By (1), for sparse data, right to
        the rounding of the sum of their squares.

    Raises
    ------
    ValueError
        If `a`, `w` or `h` is not finite or has negative entries, shapes do not match, or `loss` is another.

    Examples
    --------
    >>> a = np.array([[3.0, 1.0], [1.0, 2.0]])
    >>> divergence(a, np.ones((2, 1)), np.ones((1, 2)))
    2.5
    >>> print(round(divergence(a, np.ones((2, 1)), np.ones((1, 2)), loss="kl"), 4))
    1.6821
    """
    # given: the checks
    a = _data(a)
    w, h = _factors(a, w, h)
    _check_loss(loss)
    # yours
    if loss == "kl":
        values, product = _entries(a, w, h)
        there = values > 0
        with np.errstate(divide="ignore"):  # infinite where the product is 0
            logs = np.log(values[there] / product[there])
        return float(values[there] @ logs - values.sum() + w.sum(axis=0) @ h.sum(axis=1))
    if issparse(a):  # the square multiplied out, as W H would be dense
        squares = np.vdot(a.data, a.data) - 2 * np.vdot(w, a @ h.T) + np.vdot(w.T @ w, h @ h.T)  # pyright: ignore[reportCallIssue, reportArgumentType]
        return float(max(squares, 0) / 2)
    return float(np.sum((a - w @ h) ** 2) / 2)


def quotients(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    w: Float[np.ndarray, "n_rows n_parts"],
    h: Float[np.ndarray, "n_parts n_cols"],
) -> Float[np.ndarray, "n_rows n_cols"] | csr_array:
    """Return the quotients Q of the data and of W H.

    Parameters
    ----------
    a : ndarray or sparse array, compressed by rows or columns
        The data, none negative; only its shape is checked.
    w, h : ndarray
        The factors, none negative.

    Returns
    -------
    ndarray or sparse array
        The data over W H, entry by entry, and 0 where that is 0. Sparse if `a` is, with the same places stored.

    Raises
    ------
    ValueError
        If `w` or `h` is not finite or has negative entries, or shapes do not match.

    Examples
    --------
    >>> quotients(np.array([[3.0, 1.0], [5.0, 0.0]]), np.array([[2.0], [0.0]]), np.array([[1.0, 4.0]]))
    array([[1.5  , 0.125],
           [0.   , 0.   ]])
    """
    # given: the checks
    w, h = _factors(a, w, h)
    # yours
    values, product = _entries(a, w, h)
    product[product == 0] = np.inf  # anything over infinity is 0
    return _with_entries(a, values / product)


def gradient(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    w: Float[np.ndarray, "n_rows n_parts"],
    h: Float[np.ndarray, "n_parts n_cols"],
    loss: Loss = "frobenius",
) -> Float[np.ndarray, "n_rows n_parts"]:
    """Return the slope of the divergence in W, equation (3).

    Parameters
    ----------
    a : ndarray or sparse array, compressed by rows or columns
        The data, none negative; only its shape is checked.
    w, h : ndarray
        The factors, none negative.
    loss : {"frobenius", "kl"}
        Equation (1) or (2).

    Returns
    -------
    ndarray
        The derivative by each entry of W. By (2) it is finite only where `a` or W H is not 0; elsewhere Q counts as 0.

    Raises
    ------
    ValueError
        If `w` or `h` is not finite or has negative entries, shapes do not match, or `loss` is another.

    Examples
    --------
    >>> a = np.array([[3.0, 1.0], [1.0, 2.0]])
    >>> gradient(a, np.ones((2, 1)), np.ones((1, 2)))
    array([[-2.],
           [-1.]])
    """
    # given: the checks
    w, h = _factors(a, w, h)
    _check_loss(loss)
    # yours
    if loss == "kl":
        return h.sum(axis=1) - quotients(a, w, h) @ h.T
    return w @ (h @ h.T) - a @ h.T


def frobenius_update(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    w: Float[np.ndarray, "n_rows n_parts"],
    h: Float[np.ndarray, "n_parts n_cols"],
) -> Float[np.ndarray, "n_rows n_parts"]:
    """Return the next W, which does not raise the divergence (1), by equation (6).

    Parameters
    ----------
    a : ndarray or sparse array, compressed by rows or columns
        The data, none negative; only its shape is checked.
    w, h : ndarray
        The factors, none negative.

    Returns
    -------
    ndarray
        The next W, a new array; 0 where the denominator is. In float32 if all arguments are.

    Raises
    ------
    ValueError
        If `w` or `h` is not finite or has negative entries, or shapes do not match.

    Examples
    --------
    >>> a = np.array([[3.0, 1.0], [1.0, 2.0]])
    >>> w = frobenius_update(a, np.ones((2, 1)), np.ones((1, 2)))
    >>> w
    array([[2. ],
           [1.5]])
    >>> frobenius_update(a.T, np.ones((2, 1)), w.T).T
    array([[1.2, 0.8]])
    """
    # given: the checks
    w, h = _factors(a, w, h)
    # yours
    denominator = w @ (h @ h.T)
    denominator[denominator == 0] = np.inf
    return w * (a @ h.T / denominator)


def kl_update(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    w: Float[np.ndarray, "n_rows n_parts"],
    h: Float[np.ndarray, "n_parts n_cols"],
) -> Float[np.ndarray, "n_rows n_parts"]:
    """Return the next W, which does not raise the divergence (2), by equation (7).

    Parameters
    ----------
    a : ndarray or sparse array, compressed by rows or columns
        The data, none negative; only its shape is checked.
    w, h : ndarray
        The factors, none negative.

    Returns
    -------
    ndarray
        The next W, a new array; 0 where the denominator is. In float32 if all arguments are.

    Raises
    ------
    ValueError
        If `w` or `h` is not finite or has negative entries, or shapes do not match.

    Examples
    --------
    >>> a = np.array([[3.0, 1.0], [1.0, 2.0]])
    >>> w = kl_update(a, np.ones((2, 1)), np.ones((1, 2)))
    >>> kl_update(a.T, np.ones((2, 1)), w.T).T.round(4)
    array([[1.1429, 0.8571]])
    """
    # given: the checks
    w, h = _factors(a, w, h)
    # yours
    denominator = h.sum(axis=1)
    denominator[denominator == 0] = np.inf
    return w * (quotients(a, w, h) @ h.T / denominator)


def nndsvd(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse, n_parts: int, *, fill: float = 0.0
) -> tuple[Float[np.ndarray, "n_rows {n_parts}"], Float[np.ndarray, "{n_parts} n_cols"]]:
    r"""Return factors to begin with: of each leading singular pattern the longer positive term, equations (8) and (9).

    Parameters
    ----------
    a : ndarray or sparse array
        The data, none negative.
    n_parts : int
        How many parts, from 1 to the shorter side of `a`.
    fill : float
        What to put in the place of zeros, in units of $\sqrt{\bar a / k}$.

    Returns
    -------
    w, h : ndarray
        The factors, the part of the largest singular value first. A singular value of 0 makes a part of zeros, before
        they are filled. In float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not finite, has negative entries or is empty, `n_parts` is not from 1 to its shorter side, or `fill`
        is negative or not finite.

    Examples
    --------
    >>> w, h = nndsvd(np.array([[3.0, 0.0], [4.0, 5.0]]), 2)
    >>> (w @ h).round(4)
    array([[3. , 1.5],
           [4.5, 4.5]])
    """
    # given: the checks
    a = _data(a)
    if n_parts != int(n_parts) or not 1 <= n_parts <= min(a.shape):
        raise ValueError(f"n_parts must be a whole number from 1 to {min(a.shape)}, got {n_parts}")
    if not 0 <= fill < np.inf:
        raise ValueError(f"fill must be finite and not negative, got {fill}")
    # yours
    w, h = np.zeros((a.shape[0], n_parts), a.dtype), np.zeros((n_parts, a.shape[1]), a.dtype)
    for j, (sigma, u, v) in enumerate(zip(*leading_patterns(a, n_parts))):
        halves = [(np.maximum(s * u, 0), np.maximum(s * v, 0)) for s in (1, -1)]
        lengths = [(np.linalg.norm(x), np.linalg.norm(y)) for x, y in halves]
        longer = int(np.prod(lengths[1]) > np.prod(lengths[0]))
        (x, y), (x_length, y_length) = halves[longer], lengths[longer]
        size = np.sqrt(sigma * x_length * y_length)
        if size > 0:
            w[:, j], h[j] = size / x_length * x, size / y_length * y
    filled = fill * np.sqrt(a.mean() / n_parts)
    w[w == 0], h[h == 0] = filled, filled
    return w, h


def factorize(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    w: Float[np.ndarray, "n_rows n_parts"],
    h: Float[np.ndarray, "n_parts n_cols"],
    *,
    loss: Loss = "frobenius",
    max_iter: int = 200,
    tol: float = 1e-4,
    update_h: bool = True,
) -> Factorization:
    """Improve factors until the divergence hardly falls: update W, then H with the new W, by (6) or (7).

    Parameters
    ----------
    a : ndarray or sparse array
        The data, none negative.
    w, h : ndarray
        Where to begin, none negative. What is 0 stays 0.
    loss : {"frobenius", "kl"}
        Which divergence to lower, (1) or (2).
    max_iter : int
        At most so many iterations.
    tol : float
        The share of the divergence that ten iterations must take off to go on, equation (10).
    update_h : bool
        If False, H stays as it is, and only W is looked for.

    Returns
    -------
    Factorization
        The factors, the divergence at the start, after every tenth iteration and after the last one, and whether (10)
        ended them. It is looked at wherever the divergence is recorded. In float32 if all arguments are.

    Raises
    ------
    ValueError
        If `a`, `w` or `h` is not finite or has negative entries, shapes do not match, `loss` is another, `max_iter` is
        not a positive whole number, or `tol` is negative or not finite.

    Examples
    --------
    >>> a = np.array([[3.0, 0.0, 1.0], [1.0, 2.0, 1.0], [0.0, 4.0, 0.0], [0.0, 4.0, 2.0]])
    >>> found = factorize(a, *nndsvd(a, 2, fill=0.1), max_iter=1000)
    >>> (found.w @ found.h).round(1)
    array([[3. , 0. , 1.1],
           [1. , 2. , 0.9],
           [0. , 3.8, 1. ],
           [0.3, 4.2, 1.2]])
    """
    # given: the checks
    a = _data(a)
    w, h = _factors(a, w, h)
    _check_loss(loss)
    _check_stop(max_iter, tol)
    # yours
    update = kl_update if loss == "kl" else frobenius_update
    objective, n_iter, converged = [divergence(a, w, h, loss)], 0, False
    while n_iter < max_iter and not converged:
        w = update(a, w, h)
        if update_h:
            h = update(a.T, h.T, w.T).T
        n_iter += 1
        if n_iter % RECORD_EVERY == 0 or n_iter == max_iter:
            objective.append(divergence(a, w, h, loss))
            converged = objective[-1] >= (1 - tol) * objective[-2]
    return Factorization(w, h, np.array(objective), n_iter, converged)


def transform(
    a: Float[np.ndarray, "n_rows n_cols"] | Sparse,
    h: Float[np.ndarray, "n_parts n_cols"],
    *,
    loss: Loss = "frobenius",
    max_iter: int = 200,
    tol: float = 1e-4,
) -> Factorization:
    """Find how much of known parts new data have: the best W for a fixed H, which is a convex problem.

    Parameters
    ----------
    a : ndarray or sparse array
        New data, none negative.
    h : ndarray
        The parts.
    loss : {"frobenius", "kl"}
        Which divergence to lower, (1) or (2).
    max_iter : int
        At most so many iterations.
    tol : float
        The share of the divergence that ten iterations must take off to go on, equation (10).

    Returns
    -------
    Factorization
        W for the new data, begun with ones, H as it was, and how it went. In float32 if both arguments are.

    Raises
    ------
    ValueError
        As `factorize` does.

    Examples
    --------
    >>> parts = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])
    >>> transform(np.array([[4.0, 3.0, 2.0]]), parts, tol=1e-9).w.round(4)
    array([[4., 2.]])
    """
    # given: the checks
    a, h = _data(a), real_array(h, "h", ndim=2)
    # yours
    start = np.ones((a.shape[0], len(h)), h.dtype)
    return factorize(a, start, h, loss=loss, max_iter=max_iter, tol=tol, update_h=False)
