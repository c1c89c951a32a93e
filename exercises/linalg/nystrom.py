r"""Approximate kernels: Nyström features and random Fourier features.

## Idea

Kernel methods need the kernels of all pairs of samples: $n^2$ numbers, and $n^3$ operations to solve with them. For
100,000 samples that is 80 GB. Yet the matrix of a smooth kernel is nearly of low rank, so a few hundred *explicit
features* whose scalar products are nearly the kernels do as well, and then everything is linear again. There are two
ways to them. Nyström's looks at the data: it compares each sample with a few landmarks. Random Fourier features look
only at the kernel: they are waves of random frequencies.

## Maths

**Nyström.** Choose $m$ landmarks among the samples. Let $K_{mm}$ hold the kernels of all pairs of landmarks and
$K_{nm}$ those of all samples with them. In the space of features project each sample onto the span of the landmarks'
features: what is left of the kernels is

$$\tilde K = K_{nm}\, K_{mm}^{+}\, K_{nm}^\top, \tag{1}$$

with the pseudo-inverse. It is exact between landmarks, never overestimates $k(x, x)$, and is exact everywhere as soon
as $K$ has no more than rank $m$ and the landmarks span it. With the eigendecomposition $K_{mm} = U \Lambda U^\top$ the
features, a row for each sample, are

$$Z = K_{nm}\, U_+ \Lambda_+^{-1/2}, \qquad Z Z^\top = \tilde K, \tag{2}$$

where only eigenvalues that are not 0 but for rounding are kept. They stand for themselves: a new sample gets its row
from its kernels with the landmarks.

**Which landmarks?** At random is a good start. Better they should be spread out: draw the first at random, and each
next one with probabilities in proportion to

$$p_i \propto \min_{l \text{ chosen}} \lVert x_i - x_l \rVert^2. \tag{3}$$

Or choose greedily what the others represent worst. What of $k(x_i, x_i)$ a set of landmarks misses is the residual
$r_i = k(x_i, x_i) - \tilde K_{ii}$. Take the sample $p$ of the largest, and with it one step of a Cholesky
decomposition: with the columns $g_1, g_2, \dots$ so far

$$g = \frac{K_{\cdot p} - \sum_j g_j\, g_{j, p}}{\sqrt{r_p}}, \qquad r_i \leftarrow r_i - g_i^2. \tag{4}$$

Only the diagonal of $K$ and the columns of landmarks are ever computed.

**Random Fourier features.** A kernel that depends on $x - y$ alone is, by Bochner's theorem, the mean of waves
$\cos(w^\top (x - y))$ over some law of frequencies $w$. For $k(x, y) = \exp(-\gamma \lVert x - y \rVert^2)$ that law is
normal,

$$w \sim \mathcal N(0,\, 2 \gamma I), \tag{5}$$

as the mean of $\cos(w^\top d)$ over it is $\exp(-\frac12 \cdot 2\gamma \lVert d \rVert^2)$. With a phase $b$ uniform
from 0 to $2\pi$, $2 \cos(w^\top x + b) \cos(w^\top y + b) = \cos(w^\top(x - y)) + \cos(w^\top (x + y) +
2b)$, of which the second has mean 0. So $D$ of them make features

$$z(x) = \sqrt{\tfrac2D}\, \big( \cos(w_1^\top x + b_1), \dots, \cos(w_D^\top x + b_D) \big), \qquad \mathbb E\, z(x)^\top z(y) = k(x, y), \tag{6}$$

with an error near $1/\sqrt D$, whatever the data are.

**Kernel ridge regression.** Predict $f(x) = \sum_i k(x, x_i)\, c_i$ with least squares and a penalty
$\alpha \lVert f \rVert^2$. The minimum is at

$$(K + \alpha I)\, c = y, \tag{7}$$

$n$ equations. With features, $f(x) = z(x)^\top \beta$ and the penalty is $\alpha \lVert \beta \rVert^2$:

$$(Z^\top Z + \alpha I)\, \beta = Z^\top y, \tag{8}$$

as many equations as features. As $Z (Z^\top Z + \alpha I)^{-1} = (Z Z^\top + \alpha I)^{-1} Z$, both predict the same
if $K = Z Z^\top$.

## Worked example

Samples $0, 1, 3$ with the linear kernel, so $K_{ij} = x_i x_j$, of rank 1. One landmark, $x = 3$:
$K_{nm} = (0, 3, 9)^\top$, $K_{mm} = 9$, and by (2) $Z = (0, 3, 9)^\top / 3 = (0, 1, 3)^\top$, whose products are $K$.
By (4) the greedy choice begins with $r = (0, 1, 9)$, takes the third sample, $g = (0, 3, 9)/3$, and leaves
$r = (0, 0, 0)$: no second landmark is needed. By (3), if the first is $x = 1$, the others have probabilities in
proportion to $1$ and $4$.

Ridge with $y = (0, 2, 5)$ and $\alpha = 1$: by (8) $\beta = (2 + 15) / (10 + 1) = 17/11$. By (7) $c = (0, 5, 4) / 11$,
and $\sum_i x_i c_i = 17/11$ again.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `spread_landmarks` | samples, a number | which samples | (3) |
| `greedy_landmarks` | samples, a number, a kernel | which samples | (4) |
| `nystrom_features` | samples, landmarks, a kernel | $Z$ | (2) |
| `random_frequencies` | how many, dimensions, $\gamma$ | frequencies and phases | (5) |
| `fourier_features` | samples, frequencies, phases | $Z$ | (6) |
| `kernel_ridge` | $K$, $y$, a penalty | $c$ | (7) |
| `ridge` | $Z$, $y$, a penalty | $\beta$ | (8) |
| `gram_error` | $Z$, samples, a kernel | how far $Z Z^\top$ is from $K$ | |

## Pitfalls

- Features of size $10^8$: an eigenvalue that is 0 but for rounding was divided by. Two landmarks that are equal make
  one.
- The Fourier features of new samples have nothing to do with those of old ones: new frequencies were drawn.
- A standard deviation of $2 \gamma$ where that is the variance; or one width taken for the other,
  $\gamma = 1 / (2 \sigma^2)$.
- The predictions are right and the time is no better: $Z Z^\top$ was formed and solved with.
- Many dimensions, or a narrow kernel: then $K$ is of no low rank, and neither way helps.

## Cost

With $m$ landmarks: $nm$ kernels and numbers in memory, $n m^2 + m^3$ operations, where exact kernels take $n^2$ and
$n^3$. For 20,000 samples and 300 landmarks the features take 48 MB and computing them 156 MB at most; the kernels would
take 3.2 GB. The benchmark finds all of it within 0.9 to 1.2 times scikit-learn's time. Fourier features cost a product
with the frequencies, and no eigenproblem; Nyström needs fewer of them for the same error when the spectrum of $K$ falls
fast.

## Go further

Experiment: the error of both on the digits by the number of features, for $\gamma$ from $0.001$ to $1$. A stretch goal:
replace the random frequencies by orthogonal ones of the same lengths [4], and measure how the error falls.

## References

1. Williams & Seeger (2000), Using the Nyström method to speed up kernel machines,
   https://papers.nips.cc/paper/1866-using-the-nystrom-method-to-speed-up-kernel-machines
2. Rahimi & Recht (2007), Random features for large-scale kernel machines,
   https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines
3. Fine & Scheinberg (2001), Efficient SVM training using low-rank kernel representations,
   https://jmlr.org/papers/v2/fine01a.html
4. Yu, Suresh, Choromanski, Holtmann-Rice & Kumar (2016), Orthogonal random features, https://arxiv.org/abs/1610.09072
5. Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding, https://doi.org/10.5555/1283383.1283494
"""

# 8 parts to write. Test them with: pytest exercises/linalg/nystrom.py
# To be written without: sklearn, scipy.spatial, torch

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from mlpath.linalg._shared import real_array, symmetric_matrix

Samples = Float[np.ndarray, "n_samples n_dims"]
Features = Float[np.ndarray, "n_samples n_features"]
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _check_count(count: int, name: str, most: int) -> None:  # given: argument checks
    """Raise a ValueError unless it is a whole number from 1 to `most`."""
    if count != int(count) or not 1 <= count <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most}, got {count}")


def _targets(y: np.ndarray, n_samples: int, penalty: float) -> np.ndarray:  # given: argument checks
    """Return the targets of a regression."""
    y = real_array(y, "y", ndim=1)
    if len(y) != n_samples:
        raise ValueError(f"y must have an entry for each of the {n_samples} samples, got {len(y)}")
    if not 0 < penalty < np.inf:
        raise ValueError(f"penalty must be positive and finite, got {penalty}")
    return y


def _kernels(kernel: Kernel, x: np.ndarray, y: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return the kernels of all pairs, checked."""
    gram = real_array(kernel(x, y), "kernel(x, y)", ndim=2)
    if gram.shape != (len(x), len(y)):
        raise ValueError(f"kernel(x, y) must have the shape {(len(x), len(y))}, got {gram.shape}")
    return gram


def spread_landmarks(x: Samples, n_landmarks: int, *, rng: np.random.Generator) -> Int[np.ndarray, " n_landmarks"]:
    """Choose landmarks at random, but far from each other, as at equation (3).

    Parameters
    ----------
    x : ndarray
        The samples, one a row.
    n_landmarks : int
        How many landmarks; no more than there are samples.
    rng : numpy.random.Generator
        Draws the first with equal probabilities, and each next one by (3).

    Returns
    -------
    ndarray
        The rows of the landmarks, in the order in which they were drawn; all different.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers, `n_landmarks` is not from 1 to the number of samples, or there
        are fewer different samples than that.

    Examples
    --------
    >>> x = np.array([[0.0], [0.0], [7.0]])
    >>> sorted(x[spread_landmarks(x, 2, rng=np.random.default_rng(0))].ravel().tolist())
    [0.0, 7.0]
    """
    # given: the checks
    x = real_array(x, "x", ndim=2)
    _check_count(n_landmarks, "n_landmarks", len(x))
    raise NotImplementedError("not written yet: spread_landmarks")


def greedy_landmarks(
    x: Samples, n_landmarks: int, kernel: Kernel, *, tol: float = 1e-10
) -> Int[np.ndarray, " n_chosen"]:
    """Choose as landmarks the samples that the ones before represent worst, equation (4).

    Parameters
    ----------
    x : ndarray
        The samples, one a row.
    n_landmarks : int
        How many landmarks at most; no more than there are samples.
    kernel : callable
        Takes two sets of samples and returns the kernels of all pairs, a row for each of the first. It is asked for the
        kernel of each sample with itself, one at a time, and for all with each landmark; never for all pairs.
    tol : float
        No more are chosen when the largest residual is at most this fraction of the largest kernel of a sample with
        itself.

    Returns
    -------
    ndarray
        The rows of the landmarks, in the order in which they were chosen: at least one. Of equal residuals any may come
        first.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers, `n_landmarks` is not from 1 to the number of samples, `tol` is
        negative, or `kernel` returns something else than finite numbers of the right shape.

    Examples
    --------
    >>> greedy_landmarks(np.array([[0.0], [1.0], [3.0]]), 2, lambda x, y: x @ y.T)
    array([2])
    """
    # given: the checks, and the diagonal
    x = real_array(x, "x", ndim=2)
    _check_count(n_landmarks, "n_landmarks", len(x))
    if not tol >= 0:
        raise ValueError(f"tol must be 0 or more, got {tol}")
    residual = np.array([_kernels(kernel, row[None], row[None])[0, 0] for row in x])
    smallest = tol * residual.max()
    raise NotImplementedError("not written yet: greedy_landmarks")


def nystrom_features(x: Samples, landmarks: Float[np.ndarray, "n_landmarks n_dims"], kernel: Kernel) -> Features:
    r"""Return Nyström features of samples, equation (2).

    Parameters
    ----------
    x : ndarray
        The samples, one a row: old or new.
    landmarks : ndarray
        The landmarks, one a row.
    kernel : callable
        Takes two sets of samples and returns the kernels of all pairs, a row for each of the first.

    Returns
    -------
    ndarray
        The features, one sample a row: one for each eigenvalue of the landmarks' kernels that is above $m \varepsilon$
        times the largest, in any order and of either sign.

    Raises
    ------
    ValueError
        If `x` or `landmarks` is not a matrix of real, finite numbers, they have not as many dimensions, or `kernel`
        returns something else than finite numbers of the right shape, symmetric for the landmarks.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [3.0]])
    >>> np.abs(nystrom_features(x, x[[2]], lambda x, y: x @ y.T)).ravel()
    array([0., 1., 3.])
    """
    # given: the checks
    x, landmarks = real_array(x, "x", ndim=2), real_array(landmarks, "landmarks", ndim=2)
    if x.shape[1] != landmarks.shape[1]:
        raise ValueError(f"landmarks must have as many dimensions as x, {x.shape[1]}, got {landmarks.shape[1]}")
    among = symmetric_matrix(_kernels(kernel, landmarks, landmarks), "kernel(landmarks, landmarks)")
    raise NotImplementedError("not written yet: nystrom_features")


def random_frequencies(
    n_features: int, n_dims: int, gamma: float, *, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n_dims n_features"], Float[np.ndarray, " n_features"]]:
    r"""Draw the frequencies and the phases of random Fourier features, equation (5).

    Parameters
    ----------
    n_features, n_dims : int
        How many waves, and of how many dimensions; at least 1.
    gamma : float
        The factor of the kernel, one over a squared distance. Positive.
    rng : numpy.random.Generator
        Draws them, in any order.

    Returns
    -------
    frequencies : ndarray
        One column for each wave: independent normal numbers.
    phases : ndarray
        Uniform from 0 to $2\pi$.

    Raises
    ------
    ValueError
        If `n_features` or `n_dims` is below 1, or `gamma` not positive.

    Examples
    --------
    >>> w, b = random_frequencies(5, 2, 0.5, rng=np.random.default_rng(0))
    >>> w.shape, b.shape
    ((2, 5), (5,))
    """
    # given: the checks
    for count, name in ((n_features, "n_features"), (n_dims, "n_dims")):
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    if not 0 < gamma < np.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    raise NotImplementedError("not written yet: random_frequencies")


def fourier_features(
    x: Samples, frequencies: Float[np.ndarray, "n_dims n_features"], phases: Float[np.ndarray, " n_features"]
) -> Features:
    """Return random Fourier features of samples, equation (6).

    Parameters
    ----------
    x : ndarray
        The samples, one a row: old or new.
    frequencies, phases : ndarray
        As `random_frequencies` draws them, once for all samples.

    Returns
    -------
    ndarray
        The features, one sample a row.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or the shapes do not fit.

    Examples
    --------
    >>> fourier_features(np.array([[0.5], [2.0]]), np.array([[0.0, 2.0]]), np.array([0.0, -1.0])).round(4)
    array([[ 1.  ,  1.  ],
           [ 1.  , -0.99]])
    """
    # given: the checks
    x, frequencies = real_array(x, "x", ndim=2), real_array(frequencies, "frequencies", ndim=2)
    phases = real_array(phases, "phases", ndim=1)
    if len(frequencies) != x.shape[1]:
        raise ValueError(f"frequencies must have a row for each of the {x.shape[1]} dimensions, got {len(frequencies)}")
    if len(phases) != frequencies.shape[1]:
        raise ValueError(f"phases must have an entry for each of the {frequencies.shape[1]} waves, got {len(phases)}")
    raise NotImplementedError("not written yet: fourier_features")


def kernel_ridge(
    gram: Float[np.ndarray, "n_samples n_samples"], y: Float[np.ndarray, " n_samples"], penalty: float
) -> Float[np.ndarray, " n_samples"]:
    r"""Return the coefficients of kernel ridge regression, equation (7).

    Parameters
    ----------
    gram : ndarray
        The kernels of all pairs of samples, symmetric.
    y : ndarray
        The targets.
    penalty : float
        The penalty $\alpha$. Positive.

    Returns
    -------
    ndarray
        A coefficient for each sample.

    Raises
    ------
    ValueError
        If `gram` is not a symmetric matrix of real, finite numbers, `y` does not fit it, or `penalty` is not positive.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [3.0]])
    >>> (11 * kernel_ridge(x @ x.T, np.array([0.0, 2.0, 5.0]), 1.0)).round(4)
    array([0., 5., 4.])
    """
    # given: the checks
    gram = symmetric_matrix(gram, "gram")
    y = _targets(y, len(gram), penalty)
    raise NotImplementedError("not written yet: kernel_ridge")


def ridge(features: Features, y: Float[np.ndarray, " n_samples"], penalty: float) -> Float[np.ndarray, " n_features"]:
    r"""Return the weights of ridge regression on features, equation (8). No matrix of samples by samples is made.

    Parameters
    ----------
    features : ndarray
        The features, one sample a row.
    y : ndarray
        The targets.
    penalty : float
        The penalty $\alpha$. Positive.

    Returns
    -------
    ndarray
        A weight for each feature.

    Raises
    ------
    ValueError
        If `features` is not a matrix of real, finite numbers, `y` does not fit it, or `penalty` is not positive.

    Examples
    --------
    >>> ridge(np.array([[0.0], [1.0], [3.0]]), np.array([0.0, 2.0, 5.0]), 1.0).round(4)
    array([1.5455])
    """
    # given: the checks
    features = real_array(features, "features", ndim=2)
    y = _targets(y, len(features), penalty)
    raise NotImplementedError("not written yet: ridge")


def gram_error(features: Features, x: Samples, kernel: Kernel, *, block: int = 500) -> float:
    r"""Return how far the products of features are from the kernels, relative and in the Frobenius norm, block by block.

    Parameters
    ----------
    features : ndarray
        The features, one sample a row.
    x : ndarray
        The samples, one a row.
    kernel : callable
        Takes two sets of samples and returns the kernels of all pairs. It is asked for `block` rows at a time, or fewer
        at the end.
    block : int
        How many rows; at least 1.

    Returns
    -------
    float
        $\lVert Z Z^\top - K \rVert_F / \lVert K \rVert_F$.

    Raises
    ------
    ValueError
        If `features` or `x` is not a matrix of real, finite numbers with as many rows as the other, `block` is below 1,
        or `kernel` returns something else than finite numbers of the right shape.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [3.0]])
    >>> gram_error(np.array([[0.0], [1.0], [2.0]]), x, lambda x, y: x @ y.T).__round__(4)
    0.5196
    """
    # given: the checks
    features, x = real_array(features, "features", ndim=2), real_array(x, "x", ndim=2)
    if len(features) != len(x):
        raise ValueError(f"features must have a row for each of the {len(x)} samples, got {len(features)}")
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    raise NotImplementedError("not written yet: gram_error")
