r"""Truncated SVD: the best that k numbers per row and column can do.

## Idea

A photograph has a number for each pixel, a table of ratings one for each person and film, and most of them can be
guessed from the others. The singular value decomposition finds the patterns behind a matrix and sorts them by how much
each contributes. Keep the first $k$, drop the rest: no other matrix of rank $k$ is nearer to the original. That
compresses, and it also cleans, since noise is spread over all patterns while what is real is in a few. The one question
left is where to stop, and for noise there is an exact answer.

## Maths

**A sum of patterns.** Every $m \times n$ matrix is $A = U \Sigma V^\top$ with orthonormal columns $u_i$ and $v_i$ and
singular values $\sigma_1 \ge \sigma_2 \ge \dots \ge 0$. Written as a sum, with $r = \min(m, n)$, it is

$$A = \sum_{i=1}^{r} \sigma_i\, u_i v_i^\top, \qquad A_k = \sum_{i=1}^{k} \sigma_i\, u_i v_i^\top. \tag{1}$$

Each term is a column times a row, a pattern of rank 1. The patterns are orthogonal to each other as long vectors, and
have length 1. So by Pythagoras squared lengths add up:

$$\lVert A \rVert_F^2 = \sum_{i=1}^{r} \sigma_i^2. \tag{2}$$

**Eckart, Young and Mirsky.** $A_k$ is the nearest matrix of rank $k$ or less, in the Frobenius and in the spectral norm
[1, 2]. For the latter the reason is short. Let $B$ have rank $k$. Its null space has $n - k$ dimensions, and the span
of $v_1, \dots, v_{k+1}$ has $k + 1$: together more than $n$, so that they share some unit vector $x$. There $B x = 0$,
while $A$ stretches every vector of that span at least by $\sigma_{k+1}$. Hence
$\lVert A - B \rVert_2 \ge \lVert A x \rVert \ge \sigma_{k+1}$, and $A - A_k$ has just that norm. What is dropped is
what is wrong:

$$\lVert A - A_k \rVert_2 = \sigma_{k+1}, \qquad \lVert A - A_k \rVert_F = \Big( \sum_{i > k} \sigma_i^2 \Big)^{1/2}. \tag{3}$$

By (2), the share of the squared length, or *energy*, that the first $k$ patterns hold is

$$e_k = \sum_{i=1}^{k} \sigma_i^2 \Big/ \sum_{i=1}^{r} \sigma_i^2. \tag{4}$$

**What it saves.** $A$ has $m n$ numbers; $k$ patterns have a column, a row and a singular value each:

$$\text{ratio} = \frac{m n}{k\, (m + n + 1)}. \tag{5}$$

A colour photograph is a matrix for each of its three colours. $A_k$ may have entries that are darker than black or
brighter than white, and these are clipped.

**How many are real?** Suppose that we see $A = S + s Z$: a matrix $S$ of low rank, and noise with independent entries
of standard deviation $s$. Noise alone has singular values too. For a large $m \times n$ matrix, with $N = \max(m, n)$
and $\beta = \min(m, n) / N$, they fill the range up to $s \sqrt{N}\, (1 + \sqrt{\beta})$. But the right place to cut is
higher than that: a pattern of $S$ just above the noise comes out with its $u$ and $v$ turned so far that keeping it
does more harm than good. Gavish and Donoho [3] worked out from which singular value on keeping is better than dropping:

$$\tau = \lambda(\beta)\, \sqrt{N}\, s, \qquad
\lambda(\beta) = \sqrt{2 (\beta + 1) + \frac{8 \beta}{(\beta + 1) + \sqrt{\beta^2 + 14 \beta + 1}}}. \tag{6}$$

For square matrices $\lambda = 4 / \sqrt{3}$. If $s$ is not known, the singular values tell it: as most of them are
noise, their median is $s \sqrt{N \mu_\beta}$, with $\mu_\beta$ the median of the law of Marchenko and Pastur, which the
squares of noise's singular values follow. So

$$\tau = \frac{\lambda(\beta)}{\sqrt{\mu_\beta}}\, \operatorname{median}(\sigma_1, \dots, \sigma_r). \tag{7}$$

What is above $\tau$ stays as it is, and the rest goes.

## Worked example

$A = \begin{pmatrix} 3 & 0 \\ 4 & 5 \end{pmatrix}$ has the singular values $\sqrt{45} = 6.708$ and $\sqrt{5} = 2.236$,
with $u_1 = (1, 3) / \sqrt{10}$ and $v_1 = (1, 1) / \sqrt{2}$. So

$$A_1 = \sqrt{45} \cdot \frac{1}{\sqrt{20}} \begin{pmatrix} 1 & 1 \\ 3 & 3 \end{pmatrix} = \begin{pmatrix} 1.5 & 1.5 \\ 4.5 & 4.5 \end{pmatrix}.$$

The error has the entries $1.5, -1.5, -0.5, 0.5$, whose squares sum to 5: $\sqrt{5}$ in the Frobenius norm, as (3) says,
and in the spectral one too, as only one singular value was dropped. The first pattern holds $45 / 50 = 90\,\%$ of the
energy.

A photograph of $427 \times 640$ pixels with $k = 40$ takes $427 \cdot 640 / (40 \cdot 1068) = 6.4$ times less room for
each colour.

For a $100 \times 400$ matrix $\beta = 0.25$: the root in (6) is $\sqrt{0.0625 + 3.5 + 1} = 2.136$, so
$\lambda = \sqrt{2.5 + 2 / 3.386} = 1.758$. With noise of $s = 0.5$ the threshold is $1.758 \cdot 20 \cdot 0.5 = 17.6$,
while noise alone reaches $0.5 \cdot 20 \cdot 1.5 = 15$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `truncate` | a matrix, $k$ | the first $k$ patterns | (1) |
| `approximation` | these patterns | the matrix $A_k$ | (1) |
| `truncation_error` | all singular values, $k$ | the error in the spectral and in the Frobenius norm | (3) |
| `explained_energy` | all singular values | the share of the energy for each $k$ | (4) |
| `compress_image` | a photograph, $k$ | what remains of it, and the ratio | (1), (5) |
| `threshold_coefficient` | $\beta$ | $\lambda(\beta)$ | (6) |
| `optimal_threshold` | all singular values, the shape, $s$ or none | $\tau$ | (6), (7) |
| `denoise` | a noisy matrix, $s$ or none | its patterns above $\tau$ | (1), (6), (7) |

The median $\mu_\beta$ is given: `marchenko_pastur_median`. NumPy's SVD is welcome.

## Pitfalls

- The shares of the energy end at 1, but a few patterns seem to hold too little.
- A matrix with entries near $10^{-200}$ has no energy.
- The photograph has coloured specks.
- The threshold is right for tall matrices and wrong for the same matrix transposed.
- Denoising keeps everything, or nothing, when the noise is given in the wrong unit: a variance, or a size per matrix.

## Cost

$O(m n \min(m, n))$ for all singular values, which is what `truncate` pays although it keeps few. For $k$ far below
$\min(m, n)$ there are faster ways, by Lanczos' method or by random projections. For a $427 \times 640$ photograph and
$k = 40$ ours takes three to four times as long as SciPy's `svds`, which computes only the patterns that are kept.

## Go further

Experiment: for several photographs, draw the error (3) against the ratio (5). Which kinds of pictures have few
patterns: faces, lawns, buildings? What does rotating a picture by 45 degrees do? A stretch goal: instead of keeping or
dropping, shrink each singular value by the amount that noise has added to it [4].

## References

1. Eckart & Young (1936), The approximation of one matrix by another of lower rank, https://doi.org/10.1007/BF02288367
2. Mirsky (1960), Symmetric gauge functions and unitarily invariant norms, https://doi.org/10.1093/qmath/11.1.50
3. Gavish & Donoho (2014), The optimal hard threshold for singular values is 4/√3,
   https://doi.org/10.1109/TIT.2014.2323359
4. Gavish & Donoho (2017), Optimal shrinkage of singular values, https://doi.org/10.1109/TIT.2017.2653801
"""

# 8 parts to write. Test them with: pytest exercises/linalg/truncated_svd.py
# To be written without: scipy.sparse.linalg, sklearn.decomposition, sklearn.utils.extmath

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class TruncatedSVD:
    """The leading patterns of a matrix, equation (1).

    Attributes
    ----------
    u : ndarray of shape (n_rows, rank)
        The patterns of columns, one a column; orthonormal.
    s : ndarray of shape (rank,)
        The singular values, from the largest.
    vt : ndarray of shape (rank, n_cols)
        The patterns of rows, one a row; orthonormal. The signs of a column of `u` and its row of `vt` may turn
        together.
    """

    u: Float[np.ndarray, "n_rows rank"]
    s: Float[np.ndarray, " rank"]
    vt: Float[np.ndarray, "rank n_cols"]


@dataclass(frozen=True)
class CompressedImage:
    """What is left of a photograph, and what it saves.

    Attributes
    ----------
    image : ndarray of shape (height, width, n_channels)
        The photograph made of the patterns that were kept, from 0 to 1.
    ratio : float
        How many times fewer numbers they take, equation (5).
    """

    image: Float[np.ndarray, "height width n_channels"]
    ratio: float


def _check_rank(rank: int, largest: int, *, smallest: int = 1) -> None:  # given: argument checks
    if rank != int(rank) or not smallest <= rank <= largest:
        raise ValueError(f"rank must be a whole number from {smallest} to {largest}, got {rank}")


def _singular_values(values: ArrayLike) -> np.ndarray:  # given: argument checks
    """Return singular values as a vector of floats, or raise a ValueError."""
    s = real_array(values, "singular_values", ndim=1)
    if (s < 0).any() or (np.diff(s) > 0).any():
        raise ValueError(f"singular_values must not be negative, and come from the largest to the smallest, got {s}")
    return s


def _check_noise(noise: float | None) -> None:  # given: argument checks
    if noise is not None and not 0 < noise < np.inf:
        raise ValueError(f"noise must be positive and finite, or None, got {noise}")


def marchenko_pastur_median(beta: float) -> float:  # given: the median in equation (7)
    r"""Return the median of the law of Marchenko and Pastur, which squared singular values of noise follow.

    The law has the density $\sqrt{(b - x)(x - a)} / (2 \pi \beta x)$ between $a, b = (1 \mp \sqrt{\beta})^2$. The
    substitution $x = (1 + \beta) - 2 \sqrt{\beta} \cos t$ takes away the roots at both ends, and a fine grid is enough.

    Parameters
    ----------
    beta : float
        The shape of the noise: its shorter side over its longer one, above 0 and at most 1.

    Returns
    -------
    float
        $\mu_\beta$, to some seven digits.

    Raises
    ------
    ValueError
        If `beta` is not above 0 and at most 1.

    Examples
    --------
    >>> print(round(marchenko_pastur_median(1.0), 4))
    0.6528
    """
    if not 0 < beta <= 1:
        raise ValueError(f"beta must be above 0 and at most 1, got {beta}")
    edges = np.linspace(0, np.pi, 20_001)
    middle = (edges[1:] + edges[:-1]) / 2
    x = 1 + beta - 2 * np.sqrt(beta) * np.cos(middle)
    mass = np.cumsum(np.sin(middle) ** 2 / x)
    t = np.interp(0.5, mass / mass[-1], edges[1:])
    return float(1 + beta - 2 * np.sqrt(beta) * np.cos(t))


def truncate(a: Float[np.ndarray, "n_rows n_cols"], rank: int) -> TruncatedSVD:
    """Return the leading patterns of a matrix, equation (1).

    Parameters
    ----------
    a : ndarray
        The matrix.
    rank : int
        How many patterns to keep, $k$: from 1 to the shorter side.

    Returns
    -------
    TruncatedSVD
        The $k$ largest singular values, and the patterns that belong to them. In float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `rank` is not from 1 to its shorter side.

    Examples
    --------
    >>> kept = truncate(np.array([[3.0, 0.0], [4.0, 5.0]]), rank=1)
    >>> kept.s.round(4), kept.u.shape, kept.vt.shape
    (array([6.7082]), (2, 1), (1, 2))
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    _check_rank(rank, min(a.shape))
    raise NotImplementedError("not written yet: truncate")


def approximation(patterns: TruncatedSVD) -> Float[np.ndarray, "n_rows n_cols"]:
    """Return the matrix that patterns add up to, equation (1).

    Parameters
    ----------
    patterns : TruncatedSVD
        The patterns.

    Returns
    -------
    ndarray
        $A_k$, the nearest matrix of their rank. In float32 if they are.

    Examples
    --------
    >>> approximation(truncate(np.array([[3.0, 0.0], [4.0, 5.0]]), rank=1)).round(4)
    array([[1.5, 1.5],
           [4.5, 4.5]])
    """
    raise NotImplementedError("not written yet: approximation")


def truncation_error(singular_values: Float[np.ndarray, " r"], rank: int) -> tuple[float, float]:
    """Return how far the best matrix of a rank is from the original, equation (3).

    Parameters
    ----------
    singular_values : ndarray
        All singular values, from the largest.
    rank : int
        How many are kept, from 0 to all of them.

    Returns
    -------
    spectral, frobenius : float
        The distance in the spectral and in the Frobenius norm; both are 0 if all are kept. What is dropped may be so
        small or large that their squares are 0 or infinite.

    Raises
    ------
    ValueError
        If `singular_values` is not a vector of finite numbers that fall and are not negative, or `rank` is not from 0
        to their number.

    Examples
    --------
    >>> truncation_error(np.array([6.0, 4.0, 3.0]), rank=1)
    (4.0, 5.0)
    """
    # given: the checks
    s = _singular_values(singular_values)
    _check_rank(rank, len(s), smallest=0)
    raise NotImplementedError("not written yet: truncation_error")


def explained_energy(singular_values: Float[np.ndarray, " r"]) -> Float[np.ndarray, " r"]:
    r"""Return the share of the energy that the first patterns hold, for each number of them, equation (4).

    Parameters
    ----------
    singular_values : ndarray
        All singular values, from the largest. Their squares may be 0 or infinite.

    Returns
    -------
    ndarray
        $e_1, e_2, \dots$, which rise to 1 up to rounding; all 1 for the zero matrix, of which nothing is missing.

    Raises
    ------
    ValueError
        If `singular_values` is not a vector of finite numbers that fall and are not negative.

    Examples
    --------
    >>> explained_energy(np.array([3.0, 1.0, 0.0]))
    array([0.9, 1. , 1. ])
    """
    # given: the check
    s = _singular_values(singular_values)
    raise NotImplementedError("not written yet: explained_energy")


def compress_image(image: Float[np.ndarray, "height width n_channels"], rank: int) -> CompressedImage:
    """Replace each colour of a photograph by its best matrix of a rank, equation (1), and say what that saves, (5).

    Parameters
    ----------
    image : ndarray
        The photograph: brightness from 0 to 1, for each row, column and colour.
    rank : int
        How many patterns each colour keeps, from 1 to the shorter side.

    Returns
    -------
    CompressedImage
        The photograph made of them, with what is below 0 or above 1 set to 0 and 1, and the ratio. In float32 if
        `image` is.

    Raises
    ------
    ValueError
        If `image` does not have three axes and numbers from 0 to 1, or `rank` is not from 1 to its shorter side.

    Examples
    --------
    >>> image = np.linspace(0, 1, 60).reshape(5, 4, 3)
    >>> small = compress_image(image, rank=2)
    >>> print(np.abs(small.image - image).max().round(4), small.ratio)
    0.0 1.0
    """
    # given: the checks
    image = real_array(image, "image", ndim=3)
    if image.min() < 0 or image.max() > 1:
        raise ValueError(f"image must have numbers from 0 to 1, got some from {image.min():.4g} to {image.max():.4g}")
    height, width, n_channels = image.shape
    _check_rank(rank, min(height, width))
    raise NotImplementedError("not written yet: compress_image")


def threshold_coefficient(beta: float) -> float:
    r"""Return the factor $\lambda(\beta)$ of the optimal threshold, equation (6).

    Parameters
    ----------
    beta : float
        The shape of the matrix: its shorter side over its longer one, above 0 and at most 1.

    Returns
    -------
    float
        $\lambda(\beta)$.

    Raises
    ------
    ValueError
        If `beta` is not above 0 and at most 1.

    Examples
    --------
    >>> print(round(threshold_coefficient(1.0), 4))
    2.3094
    """
    # given: the check
    if not 0 < beta <= 1:
        raise ValueError(f"beta must be above 0 and at most 1, got {beta}")
    raise NotImplementedError("not written yet: threshold_coefficient")


def optimal_threshold(
    singular_values: Float[np.ndarray, " r"], shape: tuple[int, int], noise: float | None = None
) -> float:
    r"""Return the singular value below which a pattern does more harm than good, equation (6) or (7).

    Parameters
    ----------
    singular_values : ndarray
        All singular values of the noisy matrix, from the largest.
    shape : tuple of int
        Its numbers of rows and columns. A matrix and its transpose have the same threshold.
    noise : float, optional
        The standard deviation $s$ of the noise in each entry. If None, the median of the singular values tells it,
        equation (7).

    Returns
    -------
    float
        $\tau$.

    Raises
    ------
    ValueError
        If `singular_values` is not a vector of finite numbers that fall and are not negative, there are not as many as
        the shorter side of `shape`, or `noise` is not positive.

    Examples
    --------
    >>> print(round(optimal_threshold(np.array([9.0, 2.0, 1.5]), (3, 3)), 4))
    5.7167
    >>> print(round(optimal_threshold(np.array([9.0, 2.0, 1.5]), (3, 3), noise=1.0), 4))
    4.0
    """
    # given: the checks
    s = _singular_values(singular_values)
    if len(s) != min(shape):
        raise ValueError(f"singular_values must have {min(shape)} entries for the shape {shape}, got {len(s)}")
    _check_noise(noise)
    raise NotImplementedError("not written yet: optimal_threshold")


def denoise(a: Float[np.ndarray, "n_rows n_cols"], noise: float | None = None) -> TruncatedSVD:
    """Return the patterns of a noisy matrix that are worth keeping: those above the threshold (6) or (7).

    Parameters
    ----------
    a : ndarray
        The matrix: a signal of low rank, and noise with independent entries of one size.
    noise : float, optional
        The standard deviation of the noise in each entry. If None, it is told from the singular values.

    Returns
    -------
    TruncatedSVD
        The patterns, with their singular values as they are. It may have none, and its approximation is then zero. In
        float32 if `a` is.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or `noise` is not positive.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noisy = np.outer(np.ones(30), np.arange(40.0)) + rng.normal(size=(30, 40))
    >>> denoise(noisy).s.round(1)
    array([783.1])
    """
    # given: the checks
    a = real_array(a, "a", ndim=2)
    _check_noise(noise)
    raise NotImplementedError("not written yet: denoise")
