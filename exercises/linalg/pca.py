r"""Principal component analysis: the directions in which data vary most.

## Idea

A cloud of points in many dimensions is seldom round. PCA turns the axes so that the first points along the longest
extent of the cloud, the second along the longest that is left at right angles to it, and so on. The first few new
coordinates then describe each point almost as well as all the old ones did.

## Maths

Let the rows $x_1, \dots, x_n \in \mathbb{R}^d$ of $X$ be samples, with the mean and the covariance

$$\mu = \frac{1}{n} \sum_i x_i, \qquad C = \frac{1}{n-1} \sum_i (x_i - \mu)(x_i - \mu)^\top = \frac{1}{n-1} X_c^\top X_c, \tag{1}$$

where $X_c$ holds the centred rows $x_i - \mu$. The samples' coordinates along a unit vector $v$ have the variance

$$\frac{1}{n-1} \sum_i \big( v^\top (x_i - \mu) \big)^2 = v^\top C\, v. \tag{2}$$

**By covariance.** To maximise (2) under $v^\top v = 1$, set the gradient of $v^\top C v - \lambda (v^\top v - 1)$ to
zero:

$$C v = \lambda v. \tag{3}$$

So $v$ is an eigenvector of $C$, and (2) says that its eigenvalue $\lambda$ *is* the variance along it. The first
principal axis belongs to the largest eigenvalue. $C$ is symmetric, so its eigenvectors can be chosen orthonormal, and
the further axes follow in the order of their eigenvalues. None is negative, being a variance; in floating point, one
that ought to be zero may come out as $-10^{-17}$.

**By singular values.** Forming $C$ squares the data: two directions whose standard deviations differ by a factor of
$10^9$ have variances that differ by $10^{18}$, more than the 16 digits of a float can hold side by side. The singular
value decomposition avoids it. With $X_c = U S V^\top$,

$$C = \frac{1}{n-1} V S U^\top U S V^\top = V\, \frac{S^2}{n-1}\, V^\top, \tag{4}$$

so the columns of $V$ are the axes, $v_1, v_2, \dots$, and the variances are

$$\lambda_k = \frac{s_k^2}{n - 1}. \tag{5}$$

The sum of all variances is the trace of $C$. The share of it that lies along axis $k$ is

$$r_k = \lambda_k \Big/ \sum_j \lambda_j. \tag{6}$$

**Signs.** If $v$ satisfies (3), so does $-v$, and what a library returns is chance. A convention makes results
reproducible: of each axis, *the entry with the largest absolute value is positive* (the first such entry, if several
tie). $\text{(7)}$

**To scores and back.** The scores of a sample are its coordinates along the first $k$ axes $V_k$,

$$z = V_k^\top (x - \mu). \tag{8}$$

They are uncorrelated, with the variances $\lambda_1, \dots, \lambda_k$. *Whitening* gives them all the same importance:
it divides each by its standard deviation,

$$w_j = z_j / \sqrt{\lambda_j}. \tag{9}$$

An axis without variance has nothing to scale; its whitened score is 0. The way back,

$$\hat{x} = \mu + V_k z, \tag{10}$$

returns $x$ itself if all axes are kept, and otherwise the nearest point that $k$ axes can reach.

**Updates.** Suppose the samples come in two batches, $a$ and $b$, with sizes $n_a + n_b = n$ and means $\mu_a, \mu_b$.
The mean of all is

$$\mu = \mu_a + \frac{n_b}{n} (\mu_b - \mu_a). \tag{11}$$

For the squares, split each deviation of batch $a$ into $x_i - \mu = (x_i - \mu_a) + (\mu_a - \mu)$. When the outer
products are summed, the mixed terms vanish, because deviations from the batch's own mean sum to zero. That leaves
$n_a (\mu_a - \mu)(\mu_a - \mu)^\top$ beside the batch's own sum, and likewise for $b$. By (11) these two corrections
together are $\tfrac{n_a n_b}{n} (\mu_b - \mu_a)(\mu_b - \mu_a)^\top$. With $G = \sum_i (x_i - \mu)(x_i - \mu)^\top$,

$$G = G_a + G_b + \frac{n_a n_b}{n} (\mu_b - \mu_a)(\mu_b - \mu_a)^\top. \tag{12}$$

Now (4) used nothing about $X_c$ except $X_c^\top X_c = G$. *Any* matrix $R$ with $R^\top R = G$ has the same $S$ and
$V$, and its rows need not be samples. Each of the three terms of (12) is of the form $M^\top M$, for an $M$ that you
can build from what is known: of batch $a$ its axes and singular values suffice, by (4), and its samples may be
forgotten. If all axes are kept this is exact; if only $k$ are, the rest of $G_a$ is lost to the axes, but its amount
still counts in the sum of (6).

## Worked example

Let $X$ have the rows $(9, 4)$, $(1, -2)$, $(6.2, -0.6)$ and $(3.8, 2.6)$. The mean is $(5, 1)$, and the centred rows
are $(4, 3)$, $(-4, -3)$, $(1.2, -1.6)$ and $(-1.2, 1.6)$. With $n - 1 = 3$,

$$C = \frac{1}{3} \begin{pmatrix} 34.88 & 20.16 \\ 20.16 & 23.12 \end{pmatrix} = \begin{pmatrix} 11.63 & 6.72 \\ 6.72 & 7.707 \end{pmatrix}.$$

Its eigenvalues are $50/3 = 16.67$ with $(0.8, 0.6)$, and $8/3 = 2.667$ with $(0.6, -0.8)$. By (7) the second is turned
into $(-0.6, 0.8)$. The singular values are $\sqrt{50} = 7.071$ and $\sqrt{8} = 2.828$, and the shares (6) are 0.8621
and 0.1379. The first row has the scores $(5, 0)$, and whitened $(5 / 4.082, 0) = (1.225, 0)$.

A fifth sample $(5, 6)$ is a batch with $n_b = 1$ and $G_b = 0$. The mean moves by $\tfrac{1}{5} (0, 5)$ to $(5, 2)$,
and the last term of (12) is $\tfrac{4}{5} (0, 5)^\top (0, 5)$: it adds 20 to the lower right entry of $G$, which
becomes 43.12.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `fix_signs` | axes, one a row | the same axes, with settled signs | (7) |
| `check_samples` | what a caller calls data | a matrix of floats, or a ValueError | |
| `axes_by_covariance` | samples | all axes and the variances along them | (1), (3), (7) |
| `PCA.fit` | samples | itself, having learnt mean, axes, variances and shares | (4) to (7) |
| `PCA.transform` | samples | scores, whitened if asked | (8), (9) |
| `PCA.inverse_transform` | scores | samples | (10) |
| `PCA.partial_fit` | a further batch | itself, as if fitted to all samples so far | (11), (12) |

`axes_by_covariance` is the textbook route, and stands alone. The class takes the SVD, for the digits that it saves.
`check_samples` is plain care, and is yours this once; later exercises of this room give you theirs.

## Pitfalls

- The first axis points from the origin to the middle of the cloud.
- The axes come in the wrong order, or lie in the columns.
- Variances are too small by the factor $(n - 1) / n$.
- Shares sum to 1 although only two of ten axes were kept.
- Whitened scores are huge, or `nan`, for an axis without variance.
- After updates the mean is right, but the variances are too small.

## Cost

The SVD takes $O(n d \min(n, d))$; the covariance route $O(n d^2 + d^3)$, with a smaller constant, and is the faster one
where $n \gg d$. A batch of $m$ rows updates $k$ axes in $O((k + m)\, d \min(k + m, d))$, whatever came before.

## Go further

An experiment: fit the 64 pixels of `sklearn.datasets.load_digits()`, and look at the first axes as pictures. How many
does it take until 90 % of the variance is explained, and when can you read the digits again after `inverse_transform`?
A stretch goal: let `n_components` be such a share instead of a number, as scikit-learn does.

The update follows [2], without its forgetting factor. What is not here: sparse data, randomised solvers, the choice of
`n_components` by a probabilistic model.

## References

1. Pearson (1901), On lines and planes of closest fit, https://doi.org/10.1080/14786440109462720
2. Ross, Lim, Lin & Yang (2008), Incremental learning for robust visual tracking,
   https://doi.org/10.1007/s11263-007-0075-7
3. Jolliffe & Cadima (2016), Principal component analysis: a review, https://doi.org/10.1098/rsta.2015.0202
"""

# 7 parts to write. Test them with: pytest exercises/linalg/pca.py
# To be written without: sklearn, numpy.cov, numpy.corrcoef, scipy

from typing import Self

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


def _mean(X: np.ndarray) -> np.ndarray:  # given
    """Return the mean of the rows. It sums float32 rows in float64: over many rows their last digits would drown."""
    return X.mean(axis=0, dtype=np.float64).astype(X.dtype)


def fix_signs(axes: Float[np.ndarray, "n_axes n_features"]) -> Float[np.ndarray, "n_axes n_features"]:
    """Return the axes with the signs of convention (7).

    Parameters
    ----------
    axes : ndarray
        One axis a row.

    Returns
    -------
    ndarray
        Each axis or its negative, such that its entry of largest absolute value is positive. If several entries tie,
        the first of them counts. A row of zeros stays as it is.

    Examples
    --------
    >>> print(fix_signs(np.array([[0.6, -0.8], [0.8, 0.6]])))
    [[-0.6  0.8]
     [ 0.8  0.6]]
    """
    raise NotImplementedError("not written yet: fix_signs")


def check_samples(
    X: ArrayLike, *, min_samples: int = 1, n_features: int | None = None
) -> Float[np.ndarray, "n_samples n_features"]:
    """Return samples as a matrix of floats, or refuse them with a message that says what is wrong.

    Parameters
    ----------
    X : array_like
        What should be a matrix of real, finite numbers, one sample a row.
    min_samples : int
        How many rows there have to be.
    n_features : int, optional
        How many columns there have to be. Any number from 1 upwards will do if it is None.

    Returns
    -------
    ndarray
        The same numbers, in float32 if `X` is an array of that, and otherwise in float64.

    Raises
    ------
    ValueError
        If `X` holds anything but real numbers (booleans count as numbers, complex ones and text do not), has not two
        axes, has too few rows or not the right number of columns, or holds NaN or infinity. The message begins with
        "X must" and says what was got instead.

    Examples
    --------
    >>> print(check_samples([[1, 2], [3, 4]]).dtype)
    float64
    >>> check_samples([[1.0, 2.0]], min_samples=2)
    Traceback (most recent call last):
    ValueError: X must have at least 2 samples, got 1
    """
    raise NotImplementedError("not written yet: check_samples")


def axes_by_covariance(
    X: Float[np.ndarray, "n_samples n_features"],
) -> tuple[Float[np.ndarray, "n_features n_features"], Float[np.ndarray, " n_features"]]:
    """Return all principal axes, and the variances along them, from the eigenvectors of the covariance (1), (3).

    Parameters
    ----------
    X : ndarray
        At least two samples, one a row. They need not be centred.

    Returns
    -------
    axes : ndarray
        Orthonormal, one a row, by falling variance, with the signs of (7).
    variances : ndarray
        The variance along each axis, none of them negative.

    Raises
    ------
    ValueError
        If `check_samples` refuses `X`, or there are fewer than two samples.

    Examples
    --------
    >>> axes, variances = axes_by_covariance(np.array([[9.0, 4.0], [1.0, -2.0], [6.2, -0.6], [3.8, 2.6]]))
    >>> print(axes.round(4), variances.round(4))
    [[ 0.8  0.6]
     [-0.6  0.8]] [16.6667  2.6667]
    """
    raise NotImplementedError("not written yet: axes_by_covariance")


class PCA:
    """Principal component analysis by SVD, with scikit-learn's interface.

    Parameters
    ----------
    n_components : int, optional
        How many axes to keep: as many as there are, min(n_samples, n_features), if None.
    whiten : bool
        Whether `transform` scales all scores to variance 1, equation (9).

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        The mean of the samples, equation (1).
    components_ : ndarray of shape (n_components, n_features)
        The axes, orthonormal, one a row, by falling variance, with the signs of (7).
    singular_values_ : ndarray of shape (n_components,)
        Those of the centred samples, equation (4).
    explained_variance_ : ndarray of shape (n_components,)
        The variance of the samples along each axis, equation (5).
    explained_variance_ratio_ : ndarray of shape (n_components,)
        Its share of the total, equation (6); 0 if all samples are equal.
    total_variance_ : float
        The sum of the variances along all axes, also those that are not kept.
    n_samples_seen_ : int
        The number of samples so far.

    Examples
    --------
    >>> X = np.array([[9.0, 4.0], [1.0, -2.0], [6.2, -0.6], [3.8, 2.6]])
    >>> pca = PCA(n_components=1).fit(X)
    >>> print(pca.components_.round(4), pca.explained_variance_ratio_.round(4))
    [[0.8 0.6]] [0.8621]
    >>> scores = pca.transform(X)
    >>> print(pca.inverse_transform(scores).round(4)[0])
    [9. 4.]
    >>> print(pca.partial_fit(np.array([[5.0, 6.0]])).mean_)
    [5. 2.]
    """

    def __init__(self, n_components: int | None = None, *, whiten: bool = False) -> None:  # given
        self.n_components = n_components
        self.whiten = whiten

    def fit(self, X: Float[np.ndarray, "n_samples n_features"], y: None = None) -> Self:
        """Learn mean, axes, variances and shares, by the SVD of the centred samples: equations (4) to (7).

        `self._n_axes` says how many axes to keep. An earlier fit is forgotten. Standard deviations are told apart down
        to some 1e-14 of the largest, which the covariance (1) could not do.

        Parameters
        ----------
        X : ndarray
            At least two samples, one a row. They need not be centred.
        y : None
            Not used; there for scikit-learn's sake.

        Returns
        -------
        PCA
            Itself, with all attributes set.

        Raises
        ------
        ValueError
            If `check_samples` refuses `X`, there are fewer than two samples, or `n_components` is not a whole number
            from 1 to min(n_samples, n_features).
        """
        raise NotImplementedError("not written yet: PCA.fit")

    def transform(self, X: Float[np.ndarray, "n_samples n_features"]) -> Float[np.ndarray, "n_samples n_components"]:
        """Return the scores of samples, equation (8), divided by `self._deviations()` as in (9) if `whiten` is set.

        Parameters
        ----------
        X : ndarray
            Any number of samples, one a row, not only those of the fit.

        Returns
        -------
        ndarray
            The scores of each sample in a row. Whitened scores along an axis whose deviation is 0 are 0.

        Raises
        ------
        ValueError
            If nothing has been fitted, `check_samples` refuses `X`, or it has not the features of the fit.
        """
        # given: the check of the state
        self._check_fitted()
        raise NotImplementedError("not written yet: PCA.transform")

    def inverse_transform(
        self, scores: Float[np.ndarray, "n_samples n_components"]
    ) -> Float[np.ndarray, "n_samples n_features"]:
        """Return the samples that have these scores, equation (10), after undoing (9) if `whiten` is set.

        Parameters
        ----------
        scores : ndarray
            As `transform` returns them, one sample a row.

        Returns
        -------
        ndarray
            The samples, each within the span of the axes through the mean.

        Raises
        ------
        ValueError
            If nothing has been fitted, or `scores` is not a matrix of finite numbers with one column for each axis.
        """
        # given: the checks
        self._check_fitted()
        scores = np.asarray(scores)
        if scores.ndim != 2 or scores.shape[1] != len(self.components_) or not np.isfinite(scores).all():
            shape = f"(n_samples, {len(self.components_)})"
            raise ValueError(f"scores must be finite and have shape {shape}, got shape {scores.shape}")
        raise NotImplementedError("not written yet: PCA.inverse_transform")

    def partial_fit(self, X: Float[np.ndarray, "n_samples n_features"], y: None = None) -> Self:
        """Update what was learnt with a further batch of samples, equations (11) and (12); begin with `fit` if needed.

        As long as all axes are kept, the result is that of `fit` on all samples so far. With fewer, the axes are
        approximate, whereas `mean_` and `total_variance_` remain exact.

        Parameters
        ----------
        X : ndarray
            A batch of samples, one a row: one is enough, unless the batch is the first.
        y : None
            Not used; there for scikit-learn's sake.

        Returns
        -------
        PCA
            Itself, with all attributes updated.

        Raises
        ------
        ValueError
            If `check_samples` refuses `X`, it has not the features of the batches before, or it is the first batch and
            `fit` refuses it.
        """
        # given: the first batch
        if not hasattr(self, "components_"):
            return self.fit(X)
        raise NotImplementedError("not written yet: PCA.partial_fit")

    def fit_transform(  # given
        self, X: Float[np.ndarray, "n_samples n_features"], y: None = None
    ) -> Float[np.ndarray, "n_samples n_components"]:
        """Return the scores of the samples that are fitted: `fit`, then `transform`.

        Parameters
        ----------
        X : ndarray
            At least two samples, one a row.
        y : None
            Not used; there for scikit-learn's sake.

        Returns
        -------
        ndarray
            The scores of each sample in a row.
        """
        return self.fit(X).transform(X)

    def _n_axes(self, n_samples: int, n_features: int) -> int:  # given
        """Return how many axes to keep of as many as there are, or refuse `n_components`."""
        most = min(n_samples, n_features)
        if self.n_components is None:
            return most
        if not (float(self.n_components).is_integer() and 1 <= self.n_components <= most):
            raise ValueError(f"n_components must be None or a whole number from 1 to {most}, got {self.n_components}")
        return int(self.n_components)

    def _deviations(self) -> Float[np.ndarray, " n_components"]:  # given
        """Return the standard deviation along each axis, with 0 for one that is mere rounding of the samples."""
        deviations = np.sqrt(self.explained_variance_)
        size = max(float(np.abs(self.mean_).max()), float(deviations[0]))
        rounding = max(self.n_samples_seen_, len(self.mean_)) * float(np.finfo(deviations.dtype).eps) * size
        return np.where(deviations > rounding, deviations, 0)

    def _check_fitted(self) -> None:  # given
        """Refuse to go on before the first fit."""
        if not hasattr(self, "components_"):
            raise ValueError("this PCA has not been fitted: call fit first")
