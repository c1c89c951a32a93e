r"""Kernel PCA: principal components of features that are never computed.

## Idea

PCA finds straight axes. Data on rings, spirals or images that differ by more than a sum of pictures need bent ones. Map
every sample to many features first, squares and products and more, and do PCA there. That sounds hopeless: the features
may be infinitely many. But PCA needs nothing of the samples except their scalar products with each other, and for many
useful feature maps these are a simple function of the two samples, the *kernel*. So one writes down the matrix of all
kernels between samples, centres it, and takes its eigenvectors.

## Maths

**Kernels.** Let $\phi$ map samples to features. Its kernel is $k(x, y) = \langle \phi(x), \phi(y) \rangle$. For
instance

$$k(x, y) = \left( \gamma\, x^\top y + c \right)^d \tag{1}$$

has all products of up to $d$ entries as its features (multiply it out), and

$$k(x, y) = \exp\left( -\gamma \lVert x - y \rVert^2 \right), \tag{2}$$

the *radial basis function*, has infinitely many: it is 1 for equal samples and falls to 0 over a distance of about
$1 / \sqrt{\gamma}$. With $\gamma = d = 1$ and $c = 0$, (1) is linear, and $\phi$ changes nothing.

**PCA by scalar products.** Let the rows $\phi_i$ be centred features of $n$ samples, and $\Phi$ the matrix of them. An
axis $w$ of PCA is an eigenvector of $\Phi^\top \Phi$, with $\Phi^\top \Phi\, w = \lambda w$; so
$w = \Phi^\top (\Phi w) / \lambda$ is a combination of samples, $w = \Phi^\top \alpha$. Put that in and multiply by
$\Phi$ from the left: it suffices that

$$K \alpha = \lambda \alpha, \qquad K = \Phi \Phi^\top, \tag{3}$$

an eigenproblem of $n$ by $n$ with the matrix of kernels. The axis must have length 1,
$w^\top w = \alpha^\top K \alpha = \lambda\, \alpha^\top \alpha = 1$: so for an eigenvector $u$ of length 1

$$\alpha = u / \sqrt{\lambda}. \tag{4}$$

The variance along it is $\lambda / (n - 1)$.

**Centring.** The features are not centred by themselves. Subtracting from each $\phi_i$ the mean of all makes, with $J$
the matrix whose entries are all $1/n$,

$$K_{\text{centred}} = K - J K - K J + J K J: \tag{5}$$

from each entry the mean of its column and that of its row are subtracted, and the mean of all is added.

**New samples.** The score of a new sample $z$ is $\langle \phi(z) - \bar\phi, w \rangle$. It needs its kernels with all
old samples, $\kappa_i = k(z, x_i)$, and the same mean as before:

$$\kappa_{i, \text{centred}} = \kappa_i - \frac1n \sum_j \kappa_j - \frac1n \sum_j K_{ij} + \frac1{n^2} \sum_{j, l} K_{jl}, \qquad
\text{score} = \sum_i \kappa_{i, \text{centred}}\, \alpha_i. \tag{6}$$

For an old sample that is a row of (5), so by (3) and (4) its score is the entry of $\sqrt{\lambda}\, u$.

**How many?** Centred features of $n$ samples span at most $n - 1$ axes, and fewer if $\phi$ has fewer features. Beyond,
$\lambda$ is 0 but for rounding, and (4) divides by it. The sign of an axis is free; make the entry of largest absolute
value of each $\alpha$ positive.

## Worked example

Three samples $0, 1, 3$ on a line with the linear kernel: $K_{ij} = x_i x_j$, so the rows of $K$ are $(0, 0, 0)$,
$(0, 1, 3)$ and $(0, 3, 9)$, with means $0, 4/3, 4$ and $16/9$ in all. Centred, the first row is $(16/9,\ 4/9,\ -20/9)$,
which is $-4/3$ times $(-4/3, -1/3, 5/3)$: the product of centred samples, as it must be. The only eigenvalue that is
not 0 is the sum of their squares, $\lambda = 42/9$, with $u = (-4, -1, 5) / \sqrt{42}$. The scores $\sqrt\lambda\, u$
are $(-4/3, -1/3, 5/3)$: PCA.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `polynomial_kernel` | two sets of samples | all kernels between them | (1) |
| `rbf_kernel` | two sets of samples | all kernels between them | (2) |
| `centre_gram` | $K$ | $K$ centred | (5) |
| `centre_rows` | kernels of new samples, $K$ | those kernels centred | (6) |
| `fit` | samples | the fitted `KernelPCA` | (3), (4) |
| `transform` | samples | their scores | (6) |

## Pitfalls

- $\gamma$ too large: every sample is alone, $K$ is nearly the identity, and all components explain the same. Too small:
  the linear PCA comes back. Begin near one over the median squared distance.
- The scores of the training samples are right, and those of new samples are shifted: they were centred by their own
  mean.
- Scores are larger for components of *smaller* variance: $\sqrt\lambda$ was divided by where it was to be multiplied.
- Components of pure noise, with scores of size $10^7$.
- Squared distances computed as $\lVert x \rVert^2 + \lVert y \rVert^2 - 2 x^\top y$ come out slightly negative, and the
  kernel above 1.
- The axes live among the features. There may be no sample that a point on them is the image of: going back is a problem
  of its own.

## Cost

$n^2$ kernels in memory, and for $m$ components of dense eigensolving $n^3$: a few thousand samples. New samples cost
$n$ kernels each, as all the old ones are kept. The benchmark finds `fit` on 800 digits at 0.9 times the time of
scikit-learn's dense solver for all components, and at 2.1 times for ten, where LAPACK is asked for these only. With
more samples, approximate the kernel by a few hundred explicit features and do plain PCA.

## Go further

Experiment: two rings, the radial kernel, and $\gamma$ from $0.01$ to $100$: watch the first two scores. A stretch goal:
denoise digits. Project an image to a few components, and look for the image whose features come nearest, by the fixed
point $z \leftarrow \sum_i c_i k(z, x_i)\, x_i / \sum_i c_i k(z, x_i)$ [2].

## References

1. Schölkopf, Smola & Müller (1998), Nonlinear component analysis as a kernel eigenvalue problem,
   https://doi.org/10.1162/089976698300017467
2. Mika, Schölkopf, Smola, Müller, Scholz & Rätsch (1999), Kernel PCA and de-noising in feature spaces,
   https://papers.nips.cc/paper/1491-kernel-pca-and-de-noising-in-feature-spaces
3. Schölkopf & Smola (2002), Learning with kernels, chapter 14, ISBN 978-0-262-19475-4
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, symmetric_matrix

Samples = Float[np.ndarray, "n_samples n_features"]
Gram = Float[np.ndarray, "n_samples n_samples"]
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _both(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return two sets of samples with the same features."""
    x, y = real_array(x, "x", ndim=2), real_array(y, "y", ndim=2)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"y must have as many features as x, {x.shape[1]}, got {y.shape[1]}")
    return x, y


def polynomial_kernel(
    x: Float[np.ndarray, "n_x n_features"],
    y: Float[np.ndarray, "n_y n_features"],
    degree: int = 1,
    gamma: float = 1.0,
    coef0: float = 0.0,
) -> Float[np.ndarray, "n_x n_y"]:
    r"""Return the polynomial kernels of all pairs of samples, equation (1). As it stands by default, the kernel is linear.

    Parameters
    ----------
    x, y : ndarray
        Two sets of samples, one a row.
    degree : int
        The degree $d$, at least 1.
    gamma, coef0 : float
        The factor $\gamma$, positive, and the constant $c$, 0 or more.

    Returns
    -------
    ndarray
        A row for each sample of `x`, a column for each of `y`.

    Raises
    ------
    ValueError
        If the samples are not real and finite or do not fit each other, `degree` is below 1 or no whole number, `gamma`
        is not positive or `coef0` negative.

    Examples
    --------
    >>> polynomial_kernel(np.array([[1.0, 2.0]]), np.array([[3.0, 1.0], [0.0, 1.0]]), degree=2, coef0=1.0)
    array([[36.,  9.]])
    """
    # given: the checks
    x, y = _both(x, y)
    if degree != int(degree) or degree < 1:
        raise ValueError(f"degree must be a whole number from 1 on, got {degree}")
    if not 0 < gamma < np.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    if not 0 <= coef0 < np.inf:
        raise ValueError(f"coef0 must be 0 or more and finite, got {coef0}")
    # yours
    return (gamma * (x @ y.T) + coef0) ** degree


def rbf_kernel(
    x: Float[np.ndarray, "n_x n_features"], y: Float[np.ndarray, "n_y n_features"], gamma: float = 1.0
) -> Float[np.ndarray, "n_x n_y"]:
    r"""Return the radial basis functions of all pairs of samples, equation (2).

    Parameters
    ----------
    x, y : ndarray
        Two sets of samples, one a row.
    gamma : float
        The factor $\gamma$, one over a squared distance. Positive.

    Returns
    -------
    ndarray
        A row for each sample of `x`, a column for each of `y`: none above 1. Samples may be far from the origin,
        compared with their distances.

    Raises
    ------
    ValueError
        If the samples are not real and finite or do not fit each other, or `gamma` is not positive.

    Examples
    --------
    >>> rbf_kernel(np.array([[1.0, 2.0]]), np.array([[1.0, 2.0], [1.0, 4.0]]), gamma=0.5).round(4)
    array([[1.    , 0.1353]])
    """
    # given: the checks
    x, y = _both(x, y)
    if not 0 < gamma < np.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    # yours
    middle = y.mean(axis=0)
    x, y = x - middle, y - middle  # products of large numbers would drown small distances
    squared = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.exp(-gamma * np.maximum(squared, 0))


def centre_gram(gram: Gram) -> Gram:
    """Return the kernels of samples after their features were centred, equation (5).

    Parameters
    ----------
    gram : ndarray
        The kernels of all pairs of samples, symmetric.

    Returns
    -------
    ndarray
        The centred ones; all rows and columns sum to 0.

    Raises
    ------
    ValueError
        If `gram` is not a symmetric matrix of real, finite numbers.

    Examples
    --------
    >>> centre_gram(np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 3.0], [0.0, 3.0, 9.0]]))[0].round(4)
    array([ 1.7778,  0.4444, -2.2222])
    """
    # given: the check
    gram = symmetric_matrix(gram, "gram")
    # yours
    means = gram.mean(axis=0)
    return gram - means - means[:, None] + means.mean()


def centre_rows(rows: Float[np.ndarray, "n_new n_samples"], gram: Gram) -> Float[np.ndarray, "n_new n_samples"]:
    """Return the kernels of new samples with the old ones, after the features of both were shifted by the old ones' mean, (6).

    Parameters
    ----------
    rows : ndarray
        The kernels of each new sample with all old ones, one new sample a row.
    gram : ndarray
        The kernels of all pairs of old samples, symmetric, not centred.

    Returns
    -------
    ndarray
        The centred rows.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, `gram` is not symmetric, or `rows` has not as many columns.

    Examples
    --------
    >>> gram = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 3.0], [0.0, 3.0, 9.0]])
    >>> centre_rows(np.array([[0.0, 2.0, 6.0]]), gram).round(4)  # of a new sample at 2
    array([[-0.8889, -0.2222,  1.1111]])
    """
    # given: the checks
    rows, gram = real_array(rows, "rows", ndim=2), symmetric_matrix(gram, "gram")
    if rows.shape[1] != len(gram):
        raise ValueError(f"rows must have a column for each of the {len(gram)} old samples, got {rows.shape[1]}")
    # yours
    return rows - rows.mean(axis=1, keepdims=True) - gram.mean(axis=0) + gram.mean()


class KernelPCA:
    """Principal component analysis of features that are known by their kernel, with scikit-learn's interface.

    Parameters
    ----------
    n_components : int, optional
        How many components to keep; all whose eigenvalue is not 0 if None.
    kernel : callable
        Takes two sets of samples and returns the kernels of all pairs, a row for each sample of the first.

    Attributes
    ----------
    eigenvalues_ : ndarray of shape (n_components,)
        Those of the centred kernels, equation (3), falling. Over n_samples - 1 they are the variances along the axes.
    alphas_ : ndarray of shape (n_samples, n_components)
        The axes as combinations of samples, equation (4), one a column; in each the entry of largest absolute value is
        positive.
    X_fit_ : ndarray of shape (n_samples, n_features)
        The samples.
    gram_ : ndarray of shape (n_samples, n_samples)
        Their kernels, not centred.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [3.0]])
    >>> scores = KernelPCA(n_components=1).fit(x).transform(x)
    >>> print(scores.round(4).ravel())
    [-1.3333 -0.3333  1.6667]
    """

    X_fit_: Samples
    gram_: Gram
    eigenvalues_: Float[np.ndarray, " n_components"]
    alphas_: Float[np.ndarray, "n_samples n_components"]

    def __init__(self, n_components: int | None = None, kernel: Kernel = polynomial_kernel) -> None:  # given
        self.n_components = n_components
        self.kernel = kernel

    def fit(self, X: Samples) -> "KernelPCA":
        r"""Find the axes, equations (3) to (5).

        Parameters
        ----------
        X : ndarray
            At least two samples, one a row.

        Returns
        -------
        KernelPCA
            Itself.

        Raises
        ------
        ValueError
            If `X` is not a matrix of real, finite numbers with two rows at least, `kernel` does not return a symmetric
            matrix of finite numbers, or `n_components` is below 1 or more than there are eigenvalues above
            $10 n \varepsilon$ times the largest column sum of absolute kernels. If there are none, as for samples that
            are all the same, every number is too large, and so is None.
        """
        # given: the checks
        X = real_array(X, "X", ndim=2)
        if len(X) < 2:
            raise ValueError(f"X must have at least 2 samples, got {len(X)}")
        gram = symmetric_matrix(self.kernel(X, X), "kernel(X, X)")
        if len(gram) != len(X):
            raise ValueError(f"kernel(X, X) must have a row for each of the {len(X)} samples, got {len(gram)}")
        bound = np.abs(gram).sum(axis=0).max()  # on the largest eigenvalue
        zero = 10 * len(gram) * np.finfo(gram.dtype).eps * bound
        # yours
        eigenvalues, vectors = np.linalg.eigh(centre_gram(gram))
        eigenvalues, vectors = eigenvalues[::-1], vectors[:, ::-1]
        rank = np.count_nonzero(eigenvalues > zero)
        n_components = rank if self.n_components is None else self.n_components
        if not 1 <= n_components <= rank:
            raise ValueError(f"n_components must be between 1 and the {rank} axes that there are, got {n_components}")
        self.eigenvalues_, vectors = eigenvalues[:n_components], vectors[:, :n_components]
        largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
        self.alphas_ = vectors * np.sign(largest) / np.sqrt(self.eigenvalues_)
        self.X_fit_, self.gram_ = X.copy(), gram
        return self

    def transform(self, X: Samples) -> Float[np.ndarray, "n_samples n_components"]:
        """Return the scores of samples, old or new, equation (6).

        Parameters
        ----------
        X : ndarray
            The samples, one a row.

        Returns
        -------
        ndarray
            Their coordinates along the axes, one sample a row.

        Raises
        ------
        ValueError
            If `X` is not a matrix of real, finite numbers, with as many features as were fitted.
        """
        # given: the checks
        X = real_array(X, "X", ndim=2)
        if X.shape[1] != self.X_fit_.shape[1]:
            raise ValueError(f"X must have {self.X_fit_.shape[1]} features, got {X.shape[1]}")
        # yours
        return centre_rows(self.kernel(X, self.X_fit_), self.gram_) @ self.alphas_
