r"""Randomised SVD: the leading patterns of a huge matrix, from its products with a few random vectors.

## Idea

Multiply a matrix with a random vector, and what comes out is a mixture of its columns in which the strongest patterns
are the loudest. A few more such mixtures than the patterns that you seek span, nearly, the space of these patterns.
Project the matrix on that space: what is left is small, and its SVD cheap. The matrix is touched only by products with
a thin block, a handful of passes over it, or even a single one. And chance is no worry: the error has a bound that is
proven, hardly above the best possible error, and a few more random vectors tell how large it really is.

## Maths

**Find the range.** Let $A$ be $m \times n$ with singular values $\sigma_1 \ge \sigma_2 \ge \dots$ We look for a matrix
$Q$ of $\ell$ orthonormal columns that leaves little of $A$ outside their span,

$$\lVert A - Q Q^\top A \rVert \quad \text{small}, \qquad \ell = k + p, \tag{1}$$

for the $k$ patterns that are wanted and an *oversampling* $p$, say 10. Draw an $n \times \ell$ matrix $\Omega$ of
independent standard normal numbers, and orthonormalise [1]

$$Y = A\, \Omega, \qquad Q R = Y. \tag{2}$$

If the singular values fall slowly, the weak patterns, many as they are, drown the others. $(A A^\top)^t A$ has the same
patterns as $A$, and singular values $\sigma_i^{2 t + 1}$, which fall faster. So *power iterations* go to and fro:
starting with (2), repeat $t$ times

$$Q R = A^\top Q, \qquad Q R = A\, Q, \tag{3}$$

where each equation is to be read as 'orthonormalise the right side, and call that $Q$'. On paper one orthonormalisation
at the end would do; with rounding, all that is below $\varepsilon^{1/(2 t + 1)} \sigma_1$ would be lost.

**From the range to the SVD.** $Q^\top A$ has only $\ell$ rows. From its SVD

$$Q^\top A = \hat U \Sigma V^\top, \qquad U = Q \hat U, \tag{4}$$

$Q Q^\top A = U \Sigma V^\top$, and the first $k$ patterns of that are what we want.

**How wrong is it?** Let $E = A - Q Q^\top A$, $v$ its leading right singular vector, and $\omega$ a standard normal
vector that $Q$ knows nothing of. Then $\lVert E \omega \rVert \ge \lVert E \rVert_2\, |v^\top \omega|$, where
$v^\top \omega$ is a standard normal number. Its density is at most $1 / \sqrt{2 \pi}$, so it lies within
$\pm \frac{1}{10} \sqrt{\pi / 2}$ in fewer than 1 of 10 cases. With $r$ such vectors, therefore,

$$\lVert A - Q Q^\top A \rVert_2 \le 10 \sqrt{\tfrac{2}{\pi}}\, \max_{i \le r} \lVert (I - Q Q^\top) A\, \omega_i \rVert
\quad \text{with probability at least } 1 - 10^{-r}. \tag{5}$$

That needs no knowledge of $A$. It also tells when to stop: draw a block $\Omega$, take from $Y = A \Omega$ its part in
the span of $Q$; if (5) with these very columns is below a tolerance, $Q$ is good enough, and otherwise they are just
what $Q$ lacks.

**What to expect.** In the basis of the right singular vectors, $V^\top \Omega$ is as normal as $\Omega$. Let $\Omega_1$
be its first $k$ rows and $\Omega_2$ the rest, with $\Sigma_2$ the singular values from $\sigma_{k+1}$ on. The error of
(2) is [1, theorem 9.1]

$$\lVert A - Q Q^\top A \rVert^2 \le \lVert \Sigma_2 \rVert^2 + \lVert \Sigma_2\, \Omega_2\, \Omega_1^+ \rVert^2: \tag{6}$$

what no $k$ columns can avoid, and what leaks from weak patterns into the strong ones. $\Omega_1$ and $\Omega_2$ are
independent. In the Frobenius norm the mean of the second term is $\lVert \Sigma_2 \rVert_F^2$ times that of
$\lVert \Omega_1^+ \rVert_F^2$, which is $k / (p - 1)$. As the root of a mean is not below the mean of the root,

$$\mathbb{E} \lVert A - Q Q^\top A \rVert_F \le \Bigl( 1 + \frac{k}{p - 1} \Bigr)^{1/2} \Bigl( \sum_{j > k} \sigma_j^2 \Bigr)^{1/2}. \tag{7}$$

With $p = k + 1$ that is a factor of $\sqrt 2$ to the best possible. In the spectral norm, and with $t$ power iterations
[1, corollary 10.10],

$$\mathbb{E} \lVert A - Q Q^\top A \rVert_2 \le \Bigl[ \Bigl( 1 + \sqrt{\frac{k}{p - 1}} \Bigr) \sigma_{k+1}^{2 t + 1}
+ \frac{e \sqrt{k + p}}{p} \Bigl( \sum_{j > k} \sigma_j^{2 (2 t + 1)} \Bigr)^{1/2} \Bigr]^{1 / (2 t + 1)}. \tag{8}$$

The second term grows with the number of weak patterns, and the root $1 / (2 t + 1)$ crushes it: after a few iterations
the right side is nearly $\sigma_{k+1}$.

**One pass.** (4) multiplies with $A$ a second time. If $A$ streams by, row after row, and cannot be kept, take a second
sketch in the same pass [2]: with normal matrices $\Omega$ of $\ell$ columns and $\Psi$ of $\ell' > \ell$ rows,

$$Y = A\, \Omega = Q R, \qquad W = \Psi A. \tag{9}$$

A block of rows of $A$ gives a block of rows of $Y$, and with the columns of $\Psi$ for these rows a term of $W$. As
$A \approx Q (Q^\top A)$, also $W \approx (\Psi Q) (Q^\top A)$, a system with more equations than unknowns. Solve it by
least squares, and

$$X = \arg\min_X \lVert \Psi Q\, X - W \rVert_F, \qquad A \approx Q X. \tag{10}$$

The SVD of $X$ takes the place of that in (4). The price is another factor like that in (7),

$$\mathbb{E} \lVert A - Q X \rVert_F^2 \le \Bigl( 1 + \frac{\ell}{\ell' - \ell - 1} \Bigr) \Bigl( 1 + \frac{k}{\ell - k - 1} \Bigr) \sum_{j > k} \sigma_j^2
\quad \text{for all } k < \ell - 1. \tag{11}$$

## Worked example

$A = \begin{pmatrix} 4 & 0 \\ 0 & 1 \end{pmatrix}$ and one random vector, $\omega = (1, 2)$. By (2), $y = (4, 2)$ and
$q = (2, 1) / \sqrt 5$. Then $q^\top A = (8, 1) / \sqrt 5$, of length $\sqrt{65 / 5} = 3.606$: that is the estimate for
$\sigma_1 = 4$. As $\lVert A \rVert_F^2 = 17$, the error is $\sqrt{17 - 13} = 2$, twice the best possible, which is
$\sigma_2 = 1$. A power iteration: $A^\top q$ goes with $(8, 1)$, and $A$ times that is $(32, 1)$. Now
$q^\top A = (128, 1) / \sqrt{1025}$ has the length $\sqrt{16385 / 1025} = 3.998$, and the error is
$\sqrt{17 - 15.985} = 1.007$.

For singular values 4, 1 and 0.5, with $k = 1$ and $p = 2$, the bound (7) is $\sqrt{1 + 1/1} \cdot \sqrt{1.25} = 1.581$,
where the best error is $\sqrt{1.25} = 1.118$. The bound (8) is $2 \cdot 1 + \frac{e \sqrt 3}{2} \cdot 1.118 = 4.632$
without iterations, and $[2 + 2.354 \sqrt{1 + 0.5^6}]^{1/3} = 1.635$ with one.

The probe $\omega = (1, -1)$ leaves, of $A \omega = (4, -1)$, outside $q = (2, 1) / \sqrt 5$:
$(4, -1) - \frac{7}{5} (2, 1) = (1.2, -2.4)$, of length 2.683. By (5) the error is below $7.979 \cdot 2.683 = 21.4$ in 9
of 10 cases. It is 2.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `range_finder` | a matrix, $\ell$, $t$ | $Q$ | (2), (3) |
| `svd_from_range` | a matrix, $Q$ | all $\ell$ patterns of $Q Q^\top A$ | (4) |
| `randomized_svd` | a matrix, $k$, $p$, $t$ | the first $k$ of them | (2) to (4) |
| `error_estimate` | a matrix, $Q$, $r$ | the right side of (5) | (5) |
| `adaptive_range` | a matrix, a tolerance, a block size | a $Q$ that is good enough | (2), (5) |
| `frobenius_error_bound` | singular values, $k$, $p$ | the bound on the mean error | (7) |
| `spectral_error_bound` | singular values, $k$, $p$, $t$ | the bound on the mean error | (8) |
| `single_pass_svd` | blocks of rows, once; $k$ | patterns | (9), (10) |

Patterns come as the `TruncatedSVD` of `linalg/truncated_svd`. The matrix may be an array, also one that is mapped from
a file, or a sparse array. Given: `_times`, the product of it (or of its transpose) with a block of vectors,
`_orthonormal`, which returns the $Q$ of $Q R = Y$, and `_lengths`, of columns. NumPy's SVD and least squares are
welcome.

## Pitfalls

- On a matrix of ratings or of text the result is poor, although the code is right: its singular values fall slowly.
- With many power iterations the small singular values come out as noise.
- The estimate of the error is far too small, where the probes are those that $Q$ was made of.
- A float32 matrix on disk fills the memory.
- The result of one pass has twice the error for a rank of $k = \ell$.
- Blocks that come from a generator are gone when they are asked for again.

## Cost

A pass is one product of $A$ with $\ell$ vectors: $2 m n \ell$ operations, or $2 \ell$ for each nonzero entry. There are
$2 + 2 t$ of them, and $O((m + n) \ell^2)$ for all else. The full SVD takes $O(m n \min(m, n))$. The memory, besides
that of $A$, is four blocks of $(m + n) \ell$ numbers: for $k = p = 10$ and a sparse 200,000 × 500 matrix 129 MB, and 65
MB for one in single precision that is mapped from a file of 400 MB; scikit-learn's `randomized_svd` takes as much. With
the same iterations and QR, ours takes 0.6 times as long on the former and as long on the latter.

`adaptive_range` orthonormalises all of $Q$ anew for each block, which is the simplest that is stable, and costs
$O(m \ell^3 / b)$ for blocks of $b$.

## Go further

Experiment: for $\sigma_j = j^{-1/2}$ and $\sigma_j = 2^{-j}$, draw the mean error of 20 draws against
$t = 0, \dots, 4$, beside (8) and $\sigma_{k+1}$. Where does a power iteration pay for its two passes? A stretch goal:
if whole rows stream by, $Y^\top A = \Omega^\top A^\top A$ can be summed up in the same pass, and
$Q^\top A = R^{-\top} Y^\top A$ without any $\Psi$. On which matrices does that fail, and what does (10) do there?

## References

1. Halko, Martinsson & Tropp (2011), Finding structure with randomness, https://doi.org/10.1137/090771806
2. Tropp, Yurtsever, Udell & Cevher (2017), Practical sketching algorithms for low-rank matrix approximation,
   https://doi.org/10.1137/17M1111590
3. Martinsson & Tropp (2020), Randomized numerical linear algebra, https://doi.org/10.1017/S0962492920000021
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array
from mlpath.linalg.truncated_svd import TruncatedSVD

Matrix = Any
"""A matrix: an array, also one mapped from a file, or a sparse array of SciPy."""


def _matrix(values: Matrix, name: str = "a") -> Matrix:  # given: argument checks
    """Return a matrix of floats, sparse if it is, or say why it is none. Whether it is finite is left to `_times`."""
    a = values if hasattr(values, "tocsr") else np.asarray(values)
    if a.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers, got an array of {a.dtype}")
    if a.ndim != 2 or 0 in a.shape:
        raise ValueError(f"{name} must be a matrix that is not empty, got the shape {a.shape}")
    return a if a.dtype.kind == "f" else a.astype(np.float64)


def _times(a: Matrix, x: np.ndarray) -> np.ndarray:  # given: a product, checked
    """Return the product of a matrix, or the transpose of one, with a block of vectors, in the precision of the matrix.

    A vector in double precision would make a copy of a whole float32 matrix in double.
    """
    product = np.asarray(a @ x.astype(a.dtype, copy=False))
    if not np.isfinite(product).all():
        raise ValueError(
            "a must be finite, got infinities or entries that are not numbers, or so large that products overflow"
        )
    return product


def _orthonormal(y: np.ndarray) -> np.ndarray:  # given: the Q of a QR factorisation
    """Return an orthonormal basis whose span has the columns of `y`, as many as `y` has, or as it has rows if these are fewer.

    A tall matrix goes by blocks of rows that fit into the cache: the QR of each, and that of all their triangles. That
    takes a third of the time of `np.linalg.qr`, which moreover makes a copy in double precision of all of a float32
    matrix.
    """
    n_blocks = len(y) // max(2000, 4 * y.shape[1])
    if n_blocks < 2:
        return np.linalg.qr(y)[0]
    blocks = [np.linalg.qr(block) for block in np.array_split(y, n_blocks)]
    tops = np.split(np.linalg.qr(np.vstack([r for _, r in blocks]))[0], n_blocks)
    result, first = np.empty_like(y), 0
    for (q, _), top in zip(blocks, tops, strict=True):
        result[first : first + len(q)] = q @ top
        first += len(q)
    return result


def _lengths(columns: np.ndarray) -> np.ndarray:  # given: norms of tiny and huge columns too
    """Return the Euclidean length of each column, scaled first, so that no square overflows or vanishes."""
    largest = np.abs(columns).max() or 1.0
    return largest * np.linalg.norm(columns / largest, axis=0)


def _whole(value: int, name: str, smallest: int, largest: float = np.inf) -> None:  # given: argument checks
    if value != int(value) or not smallest <= value <= largest:
        raise ValueError(f"{name} must be a whole number from {smallest} to {largest}, got {value}")


def _basis(q: np.ndarray, a: Matrix) -> None:  # given: argument checks
    if q.ndim != 2 or len(q) != a.shape[0]:
        raise ValueError(f"q must have {a.shape[0]} rows, got the shape {q.shape}")


def _row_blocks(blocks: Iterable[Matrix], rank: int) -> Iterator[Matrix]:  # given: argument checks
    """Yield each block of rows, checked, once; at the end check that there were enough rows and columns for the rank."""
    n_rows, n_cols = 0, None
    for values in blocks:
        block = _matrix(values, "blocks")
        n_cols = block.shape[1] if n_cols is None else n_cols
        if block.shape[1] != n_cols:
            raise ValueError(f"blocks must have {n_cols} columns as the first one has, got the shape {block.shape}")
        n_rows += block.shape[0]
        yield block
    if n_cols is None:
        raise ValueError("blocks must not be empty, got none")
    _whole(rank, "rank", 1, min(n_rows, n_cols))


def _check_bound(singular_values: Any, rank: int, n_oversamples: int) -> np.ndarray:  # given: argument checks
    """Return singular values as a vector of floats, if there is a bound for them."""
    s = real_array(singular_values, "singular_values", ndim=1)
    if (s < 0).any() or (np.diff(s) > 0).any():
        raise ValueError(f"singular_values must not be negative, and come from the largest to the smallest, got {s}")
    _whole(rank, "rank", 1, len(s))
    _whole(n_oversamples, "n_oversamples", 2)
    return s


def range_finder(
    a: Matrix, size: int, *, n_iterations: int = 0, rng: np.random.Generator
) -> Float[np.ndarray, "n_rows {size}"]:
    """Return an orthonormal basis of what a matrix makes of random vectors, equations (2) and (3).

    Parameters
    ----------
    a : Matrix
        The matrix.
    size : int
        How many columns, from 1 to the shorter side of `a`.
    n_iterations : int
        The number of power iterations (3). Each takes two passes over `a`.
    rng : Generator
        For the test matrix of standard normal numbers.

    Returns
    -------
    ndarray
        Orthonormal columns, even if the rank of `a` is below `size`. In float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, `size` is not from 1 to its shorter side, or `n_iterations` is
        not a whole number of at least 0.

    Examples
    --------
    >>> a = np.outer([3.0, 0.0, 4.0], [1.0, 2.0])
    >>> print(np.abs(range_finder(a, 1, rng=np.random.default_rng(0))).round(4))
    [[0.6]
     [0. ]
     [0.8]]
    """
    # given: the checks
    a = _matrix(a)
    _whole(size, "size", 1, min(a.shape))
    _whole(n_iterations, "n_iterations", 0)
    # yours
    q = _orthonormal(_times(a, rng.normal(size=(a.shape[1], size))))
    for _ in range(n_iterations):
        # Without the inner one, weak patterns would drown in the rounding of the strong ones twice as fast.
        q = _orthonormal(_times(a, _orthonormal(_times(a.T, q))))
    return q


def svd_from_range(a: Matrix, q: Float[np.ndarray, "n_rows size"]) -> TruncatedSVD:
    """Return all patterns of the projection of a matrix on the span of some columns, equation (4).

    Parameters
    ----------
    a : Matrix
        The matrix.
    q : ndarray
        Orthonormal columns, as many rows as `a` has.

    Returns
    -------
    TruncatedSVD
        As many patterns as `q` has columns, or as `a` has columns if these are fewer, the strongest first.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `q` does not have as many rows.

    Examples
    --------
    >>> found = svd_from_range(np.array([[4.0, 0.0], [0.0, 1.0]]), np.array([[2.0], [1.0]]) / 5**0.5)
    >>> print(found.s.round(4), np.abs(found.vt).round(4))
    [3.6056] [[0.9923 0.124 ]]
    """
    # given: the checks
    a = _matrix(a)
    _basis(q, a)
    # yours
    # The product with the transpose is what a sparse matrix does well; its own transpose costs nothing.
    u, s, vt = np.linalg.svd(_times(a.T, q).T, full_matrices=False)
    return TruncatedSVD(q @ u, s, vt)


def randomized_svd(
    a: Matrix, rank: int, *, n_oversamples: int = 10, n_iterations: int = 2, rng: np.random.Generator
) -> TruncatedSVD:
    """Return the leading patterns of a matrix, nearly: equations (2) to (4).

    Parameters
    ----------
    a : Matrix
        The matrix.
    rank : int
        How many patterns, $k$: from 1 to the shorter side of `a`.
    n_oversamples : int
        How many more random vectors, $p$. There are never more vectors than the shorter side of `a`.
    n_iterations : int
        As in `range_finder`.
    rng : Generator
        For the test matrix.

    Returns
    -------
    TruncatedSVD
        The strongest first. Exact, but for rounding, if the rank of `a` is at most `rank` plus `n_oversamples`. In
        float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, `rank` is not from 1 to its shorter side, or another number is
        not a whole one of at least 0.

    Examples
    --------
    >>> a = np.outer(np.arange(1.0, 31.0), np.ones(20)) + np.eye(30, 20)
    >>> print(randomized_svd(a, 2, rng=np.random.default_rng(0)).s.round(3))
    [435.34   1.  ]
    """
    # given: the checks
    a = _matrix(a)
    _whole(rank, "rank", 1, min(a.shape))
    _whole(n_oversamples, "n_oversamples", 0)
    # yours
    q = range_finder(a, min(rank + n_oversamples, *a.shape), n_iterations=n_iterations, rng=rng)
    found = svd_from_range(a, q)
    return TruncatedSVD(found.u[:, :rank], found.s[:rank], found.vt[:rank])


def error_estimate(
    a: Matrix, q: Float[np.ndarray, "n_rows size"], *, n_probes: int = 10, rng: np.random.Generator
) -> float:
    """Return what the error (1) hardly exceeds, in the spectral norm, by probing with random vectors: equation (5).

    Parameters
    ----------
    a : Matrix
        The matrix.
    q : ndarray
        Orthonormal columns, as many rows as `a` has. The estimate is valid if `rng` has not made them from the same
        numbers.
    n_probes : int
        The number of probes, $r$. The error is larger than the estimate with a probability of at most $10^{-r}$.
    rng : Generator
        For the probes, standard normal vectors.

    Returns
    -------
    float
        The right side of (5). It is usually some ten times the error or more.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, `q` does not have as many rows, or `n_probes` is not a whole
        number of at least 1.

    Examples
    --------
    >>> estimate = error_estimate(np.diag([4.0, 1.0]), np.array([[1.0], [0.0]]), rng=np.random.default_rng(0))
    >>> 1 < estimate < 30
    True
    """
    # given: the checks
    a = _matrix(a)
    _basis(q, a)
    _whole(n_probes, "n_probes", 1)
    # yours
    y = _times(a, rng.normal(size=(a.shape[1], n_probes)))
    return float(10 * np.sqrt(2 / np.pi) * _lengths(y - q @ (q.T @ y)).max())


def adaptive_range(
    a: Matrix, tol: float, *, block_size: int = 10, rng: np.random.Generator
) -> Float[np.ndarray, "n_rows size"]:
    """Return a basis as (2) does, with as many columns as it takes to bring the estimate (5) below a tolerance.

    Parameters
    ----------
    a : Matrix
        The matrix.
    tol : float
        The error (1) in the spectral norm that is allowed, in the units of `a`.
    block_size : int
        How many columns to add at a time, which are the probes of (5) as well: the error is above `tol` with a
        probability of at most 10 to the power minus `block_size`, for each block that is tried.
    rng : Generator
        For the blocks of standard normal numbers.

    Returns
    -------
    ndarray
        Orthonormal columns: a multiple of `block_size` of them, none if `a` itself passes for zero, or, if nothing less
        is enough, as many as the shorter side of `a`. In float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, `tol` is not positive and finite, or `block_size` is not a whole
        number of at least 1.

    Examples
    --------
    >>> a = np.diag(2.0 ** -np.arange(40.0))
    >>> q = adaptive_range(a, 1e-3, block_size=5, rng=np.random.default_rng(0))
    >>> bool(np.linalg.norm(a - q @ (q.T @ a), 2) <= 1e-3)
    True
    """
    # given: the checks
    a = _matrix(a)
    if not 0 < tol < np.inf:
        raise ValueError(f"tol must be positive and finite, got {tol}")
    _whole(block_size, "block_size", 1)
    # yours
    q = np.empty((a.shape[0], 0), dtype=a.dtype)
    while q.shape[1] < min(a.shape):
        y = _times(a, rng.normal(size=(a.shape[1], block_size)))
        y = y - q @ (q.T @ y)
        if 10 * np.sqrt(2 / np.pi) * _lengths(y).max() <= tol:
            break
        # All of it anew: columns that depend on the others, or hold nothing but rounding, do no harm.
        q = _orthonormal(np.hstack([q, y]))[:, : min(a.shape)]
    return q


def frobenius_error_bound(singular_values: Float[np.ndarray, " r"], rank: int, n_oversamples: int) -> float:
    r"""Return the bound (7) on the mean error of `range_finder` without iterations, in the Frobenius norm.

    Parameters
    ----------
    singular_values : ndarray
        All singular values of the matrix, from the largest.
    rank : int
        $k$, from 1 to their number.
    n_oversamples : int
        $p$, at least 2.

    Returns
    -------
    float
        The bound. 0 if nothing is left of the matrix after `rank` patterns.

    Raises
    ------
    ValueError
        If `singular_values` are not finite numbers that fall and are not negative, `rank` is not from 1 to their
        number, or `n_oversamples` is not a whole number of at least 2.

    Examples
    --------
    >>> print(round(frobenius_error_bound(np.array([4.0, 1.0, 0.5]), 1, 2), 4))
    1.5811
    """
    # given: the checks
    s = _check_bound(singular_values, rank, n_oversamples)
    # yours
    return float(np.sqrt(1 + rank / (n_oversamples - 1)) * _lengths(np.r_[s[rank:], 0.0]))


def spectral_error_bound(
    singular_values: Float[np.ndarray, " r"], rank: int, n_oversamples: int, n_iterations: int = 0
) -> float:
    r"""Return the bound (8) on the mean error of `range_finder`, in the spectral norm.

    Parameters
    ----------
    singular_values : ndarray
        All singular values of the matrix, from the largest.
    rank : int
        $k$, from 1 to their number.
    n_oversamples : int
        $p$, at least 2.
    n_iterations : int
        The number of power iterations, $t$.

    Returns
    -------
    float
        The bound, also where the powers of the singular values would overflow or vanish. 0 if nothing is left of the
        matrix after `rank` patterns.

    Raises
    ------
    ValueError
        As in `frobenius_error_bound`, or if `n_iterations` is not a whole number of at least 0.

    Examples
    --------
    >>> print(round(spectral_error_bound(np.array([4.0, 1.0, 0.5]), 1, 2, n_iterations=1), 4))
    1.6352
    """
    # given: the checks
    s = _check_bound(singular_values, rank, n_oversamples)
    _whole(n_iterations, "n_iterations", 0)
    # yours
    tail = s[rank:]
    if not tail.any():
        return 0.0
    # In units of the largest that is left, no power is above 1.
    power = 2 * n_iterations + 1
    leak = np.e * np.sqrt(rank + n_oversamples) / n_oversamples * np.linalg.norm((tail / tail[0]) ** power)
    return float(tail[0] * (1 + np.sqrt(rank / (n_oversamples - 1)) + leak) ** (1 / power))


def single_pass_svd(
    blocks: Iterable[Matrix],
    rank: int,
    *,
    size: int | None = None,
    co_size: int | None = None,
    rng: np.random.Generator,
) -> TruncatedSVD:
    r"""Return the leading patterns of a matrix whose rows stream by once, nearly: equations (9) and (10).

    Parameters
    ----------
    blocks : iterable of Matrix
        The rows of the matrix, a block at a time; a generator will do. Each is used once and not kept.
    rank : int
        How many patterns, $k$: from 1 to the shorter side of the matrix.
    size : int, optional
        The width $\ell$ of the first sketch, at least `rank`; by default $2 k + 1$. It is cut to the shorter side of
        the matrix.
    co_size : int, optional
        The height $\ell'$ of the second sketch, at least `size`; by default $2 \ell + 1$.
    rng : Generator
        For the two test matrices of standard normal numbers.

    Returns
    -------
    TruncatedSVD
        The strongest first. Exact, but for rounding, if the rank of the matrix is at most `rank`. In float32 if the
        blocks are.

    Raises
    ------
    ValueError
        If there are no blocks, one is not a matrix of real, finite numbers, or does not have as many columns as the
        first, `rank` is not from 1 to the shorter side, `size` is below `rank`, or `co_size` below `size`.

    Examples
    --------
    >>> a = np.outer(np.arange(1.0, 31.0), np.arange(20.0))
    >>> found = single_pass_svd((a[i : i + 7] for i in range(0, 30, 7)), 1, rng=np.random.default_rng(0))
    >>> print(found.s.round(3), found.u.shape)
    [4832.582] (30, 1)
    """
    # given: the checks
    _whole(rank, "rank", 1)
    size = 2 * rank + 1 if size is None else size
    _whole(size, "size", rank)
    co_size = 2 * size + 1 if co_size is None else co_size
    _whole(co_size, "co_size", size)
    # yours
    omega, ys, psis, w = None, [], [], 0.0
    for block in _row_blocks(blocks, rank):
        if omega is None:
            omega = rng.normal(size=(block.shape[1], min(size, block.shape[1])))
        psis.append(rng.normal(size=(co_size, block.shape[0])).astype(block.dtype))
        ys.append(_times(block, omega))
        w = w + _times(block.T, psis[-1].T).T
    q = _orthonormal(np.vstack(ys))
    x, *_ = np.linalg.lstsq(np.hstack(psis) @ q, w, rcond=None)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return TruncatedSVD(q @ u[:, :rank], s[:rank], vt[:rank])
