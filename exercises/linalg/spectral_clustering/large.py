r"""Spectral clustering of many points: Nyström, landmarks, and the segments of a photograph.

## Idea

A photograph of 427 × 640 pixels has 273,280 points, and the matrix of their affinities 75 billion entries, 600 GB. But
the eigenvectors that matter vary slowly from point to point: a few hundred points know nearly all of them. There are
two ways to use that. *Nyström's* takes a sample of the points, finds the eigenvectors there and extends them. The other
describes each point by a few *landmarks* near it, which makes a factor of the matrix, sparse and thin.

## Maths

**Affinities.** How alike two points are says $W_{ij} = \exp(-\lVert x_i - x_j \rVert^2 / 2 \sigma^2)$. Spectral
clustering needs the leading eigenvectors of

$$D^{-1/2}\, W D^{-1/2}, \qquad D = \operatorname{diag}(W \mathbf 1), \tag{1}$$

which are those of the smallest eigenvalues of the symmetric Laplacian.

**Nyström.** Put $m$ sampled points first. Of

$$W = \begin{pmatrix} A & B \\ B^\top & C \end{pmatrix}, \qquad C \approx B^\top A^{-1} B, \tag{2}$$

only $A$ ($m \times m$) and $B$ ($m \times (n - m)$) are computed. The approximation takes the rest as if $W$ had rank
$m$. (If $A$ is singular, read $A^{-1}$ as the pseudo-inverse.) Degrees follow without $C$:

$$d_A = A \mathbf 1 + B \mathbf 1, \qquad d_B = B^\top \mathbf 1 + B^\top A^{-1} (B \mathbf 1). \tag{3}$$

Divide the entries of $A$ and $B$ by the roots of both degrees, as (1) wants. From here on $A$ and $B$ are these. Then

$$\tilde W = G A^{-1} G^\top, \qquad G = \begin{pmatrix} A \\ B^\top \end{pmatrix}. \tag{4}$$

The textbook's extension of the eigenvectors of $A$ is not orthogonal. In *one shot* it can be had so: with
$F = G A^{-1/2}$ it is $\tilde W = F F^\top$, and the eigenvectors of a product $F F^\top$ come from those of the small
$F^\top F$,

$$S = F^\top F = A + A^{-1/2} B B^\top A^{-1/2} = U \Lambda U^\top, \qquad V = G A^{-1/2} U \Lambda^{-1/2}, \tag{5}$$

so that $V^\top V = \Lambda^{-1/2} U^\top S\, U \Lambda^{-1/2} = I$ and $V \Lambda V^\top = \tilde W$. It needs $A$ to
have no negative eigenvalue, which is so for this affinity.

**Landmarks.** Let each point $x_i$ have weights for its $r$ nearest of $p$ landmarks $u_j$, which add up to 1, and 0
for the others:

$$Z_{ij} = \frac{\exp(-\lVert x_i - u_j \rVert^2 / 2 \sigma^2)}{\sum_{l \in \text{nearest}(i)} \exp(-\lVert x_i - u_l \rVert^2 / 2 \sigma^2)}. \tag{6}$$

Two points are alike if they can meet in a landmark: $W = Z\, \Delta^{-1} Z^\top$, with
$\Delta = \operatorname{diag}(Z^\top \mathbf 1)$ for the sum of each landmark's weights. All degrees are then 1,

$$W \mathbf 1 = Z \Delta^{-1} Z^\top \mathbf 1 = Z \Delta^{-1} \Delta \mathbf 1 = Z \mathbf 1 = \mathbf 1, \tag{7}$$

and (1) is $W = \hat Z \hat Z^\top$ with $\hat Z = Z \Delta^{-1/2}$. Its eigenvectors are the left singular vectors of
$\hat Z$, and its eigenvalues the squares $s^2 \le 1$:

$$\hat Z^\top \hat Z = Q\, \Sigma^2 Q^\top\ (p \times p), \qquad V = \hat Z\, Q\, \Sigma^{-1}. \tag{8}$$

**Pixels.** As a point a pixel has its colour and its place. Distances of colours should be as the eye sees them, which
CIE's $L^* a^* b^*$ nearly has. From sRGB values $c$ in $[0, 1]$: first light,

$$\ell = \begin{cases} c / 12.92 & c \le 0.04045 \\ ((c + 0.055) / 1.055)^{2.4} & \text{else,} \end{cases} \qquad (X, Y, Z)^\top = M (\ell_R, \ell_G, \ell_B)^\top, \tag{9}$$

then each of $X, Y, Z$ divided by its value for white, and

$$f(t) = \begin{cases} t^{1/3} & t > (6/29)^3 \\ \tfrac13 (29/6)^2\, t + \tfrac{4}{29} & \text{else,} \end{cases} \qquad
\begin{aligned} L &= 116 f(Y) - 16 \\ a &= 500\, (f(X) - f(Y)) \\ b &= 200\, (f(Y) - f(Z)). \end{aligned} \tag{10}$$

**Segments.** Points of one cluster have nearly the same row in $V$, whatever its shape was: cluster the rows by
$k$-means. (Where degrees differ the rows are first divided by their roots, which makes the eigenvectors those of the
random walk [3], or scaled to length 1 [4]; here all degrees are 1.)

## Worked example

Three points, the first two sampled, $A = I$ and $B = (\frac12, \frac12)^\top$, so (2) says $C = \frac12$. By (3)
$d_A = (\frac32, \frac32)$ and $d_B = 1 + \frac12 = \frac32$: all degrees are $\frac32$, so that the divided blocks are
$\frac23 I$ and $\frac13 (1, 1)^\top$. By (5) $A^{-1/2} = \sqrt{3/2}\, I$ and

$$S = \tfrac23 I + \tfrac32 \cdot \tfrac19 \begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix}$$

has the eigenvalues $1$, for $(1, 1)/\sqrt 2$, and $\frac23$, for $(1, -1)/\sqrt2$. $V$ of the first:
$\sqrt{3/2}\, (\frac23, \frac23, \frac23) / \sqrt 2 = (1, 1, 1)/\sqrt3$, as it must be, since all degrees are equal.

Landmarks 0 and 1 on a line, a point at $0.5$, one at $0$, $2 \sigma^2 = 1$: weights $(\frac12, \frac12)$ and
$(1, e^{-1}) / 1.368 = (0.731, 0.269)$. $\Delta = (1.231, 0.769)$, and
$W_{12} = 0.5 \cdot 0.731 / 1.231 + 0.5 \cdot 0.269/0.769 = 0.472$. The first row is $0.25/1.231 + 0.25/0.769 = 0.528$
and $0.472$: 1 in all, (7).

White, $(1, 1, 1)$, gives $X, Y, Z$ of white, $f = 1$, and $(L, a, b) = (100, 0, 0)$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `gaussian_affinity` | two sets of points, $\sigma$ | a block of $W$ | above (1) |
| `nystrom_degrees` | $A$, $B$ | $d_A$, $d_B$ | (3) |
| `nystrom_embedding` | $A$, $B$, how many | eigenvalues, $V$ | (5) |
| `landmark_weights` | points, landmarks, $r$, $\sigma$ | sparse $Z$ | (6) |
| `landmark_embedding` | $Z$, how many | eigenvalues, $V$ | (8) |
| `srgb_to_lab` | an image | its colours | (9), (10) |
| `pixel_features` | an image, the weight of places | a point for each pixel | |
| `segment` | an image, how many segments | the segment of each pixel | |

Given: `k_means`; `_leading`, the leading eigenpairs of a small symmetric matrix; `_inverse_root`, which makes
$A^{-1/2}$ of a positive semidefinite matrix. Both leave out eigenvalues that are rounding.

## Pitfalls

- The memory runs full, although $Z$ is sparse: how large is the matrix of distances?
- The eigenvectors of the sample are fine and those of the other points are not orthogonal to each other.
- Infinite entries, from a landmark that is nobody's neighbour.
- The degree of a sampled point counts the sample only.
- Everything is 0 and 0/0: $\sigma$ is small beside the distances.
- The segments are blobs of equal size whatever the picture, or speckles: places count too much, or nothing.
- Colours of dark pixels are off: the straight pieces of (9) and (10) are theirs.

## Cost

Nyström: $m n$ affinities in memory, $O(m^2 n)$ operations. Landmarks: $n p$ distances, but in blocks of rows, so that
$n r$ numbers stay, and $O(n r^2)$ for $\hat Z^\top \hat Z$, $O(p^3)$ for its eigenvectors. The 273,280 pixels of a
photograph with 300 landmarks took 3 seconds, half of them for distances, and 103 MB at most, where the matrix would
have 597 GB; Nyström with 150 of 68,480 pixels took 336 MB. Of 2,000 points, 150 of them sampled or landmarks, both find
the clusters as well as scikit-learn's `SpectralClustering` with the full matrix, in 0.07 and 0.05 of its time.

What is not here: landmarks by $k$-means, of which fewer do; histograms of colour and texture as features; the choice of
$\sigma$.

## Go further

Experiment: segment `china.jpg` with $r = 1, 2, 5, 20$. With $r = 1$ the graph falls into $p$ pieces; from which $r$ on
is it sensible? A stretch goal: landmarks by a few rounds of `k_means` on a sample of pixels, and the error of the
subspace against random ones.

## References

1. Fowlkes, Belongie, Chung & Malik (2004), Spectral grouping using the Nyström method,
   https://doi.org/10.1109/TPAMI.2004.1262185
2. Chen & Cai (2011), Large scale spectral clustering with landmark-based representation,
   https://doi.org/10.1609/aaai.v25i1.7900
3. Shi & Malik (2000), Normalized cuts and image segmentation, https://doi.org/10.1109/34.868688
4. Ng, Jordan & Weiss (2001), On spectral clustering: analysis and an algorithm,
   https://papers.nips.cc/paper/2092-on-spectral-clustering-analysis-and-an-algorithm
5. IEC 61966-2-1 (1999) for sRGB; CIE 15 for L\*a\*b\*
"""

# 8 parts to write. Test them with: pytest exercises/linalg/spectral_clustering/large.py
# To be written without: sklearn, scipy.spatial, skimage, scipy.linalg

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from mlpath.linalg._shared import real_array, symmetric_matrix

Points = Float[np.ndarray, "n_points n_dims"]
Image = Float[np.ndarray, "height width 3"]

# From the light of red, green and blue to X, Y, Z, for sRGB; the sums of its rows are X, Y, Z of white.
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def _positive(value: float, name: str) -> None:  # given: argument checks
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")


def _count(value: int, name: str, most: float = np.inf) -> None:  # given: argument checks
    if value != int(value) or not 1 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most}, got {value}")


def _points(x: Any, y: Any, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return two sets of points of as many dimensions."""
    x, y = real_array(x, names[0], ndim=2), real_array(y, names[1], ndim=2)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"{names[1]} must have {x.shape[1]} dimensions as {names[0]} has, got {y.shape[1]}")
    return x, y


def _blocks(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return the two blocks of (2)."""
    a = symmetric_matrix(a, "a")
    b = np.asarray(b)
    if b.size or b.ndim != 2:  # no columns: all points are sampled
        b = real_array(b, "b", ndim=2)
    if b.shape[0] != len(a):
        raise ValueError(f"b must have {len(a)} rows as a has, got the shape {b.shape}")
    return a, b.astype(a.dtype, copy=False)


def _image(image: Any) -> np.ndarray:  # given: argument checks
    """Return an image of colours from 0 to 1, or say why it is none."""
    image = real_array(image, "image", ndim=3)
    if image.shape[2] != 3 or image.min() < 0 or image.max() > 1:
        raise ValueError(
            f"image must have three colours from 0 to 1, got the shape {image.shape} and {image.min()} to {image.max()}"
        )
    return image


def _checked(degrees: np.ndarray, name: str) -> np.ndarray:  # given: a check of the result
    """Return degrees, or say that they are not positive."""
    if not (degrees > 0).all():
        raise ValueError(
            f"{name} must give positive degrees, got {degrees.min()}: the sample is too far from some points"
        )
    return degrees


def _inverse_root(a: np.ndarray) -> np.ndarray:  # given: a function of a symmetric matrix
    """Return the inverse root of a positive semidefinite matrix; what is only rounding beside its largest eigenvalue is left out."""
    values, vectors = np.linalg.eigh(a)
    kept = values > len(a) * np.finfo(a.dtype).eps * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T


def _leading(s: np.ndarray, n_vectors: int) -> tuple[np.ndarray, np.ndarray]:  # given: the large end of `eigh`
    """Return the leading eigenpairs of a symmetric matrix, the largest first, but none that is only rounding beside it."""
    values, vectors = np.linalg.eigh(s)
    n_kept = min(n_vectors, int((values > len(s) * np.finfo(s.dtype).eps * values[-1]).sum()))
    return values[::-1][:n_kept], vectors[:, ::-1][:, :n_kept]


def k_means(
    x: Points, n_clusters: int, *, n_rounds: int = 30, rng: np.random.Generator
) -> Int[np.ndarray, " n_points"]:  # given
    """Return the cluster of each point: k-means from seeds far from each other (k-means++), the best of three starts.

    Parameters
    ----------
    x : ndarray
        The points, one a row.
    n_clusters : int
        How many clusters; no more than points.
    n_rounds : int
        How often the centres move at most.
    rng : Generator
        For the seeds.

    Returns
    -------
    ndarray
        The cluster of each point, from 0.

    Examples
    --------
    >>> labels = k_means(np.array([[0.0], [0.1], [7.0]]), 2, rng=np.random.default_rng(0))
    >>> labels == labels[0]
    array([ True,  True, False])
    """
    best, found = np.inf, np.zeros(len(x), dtype=int)
    for _ in range(3):
        centres, nearest = x[[rng.integers(len(x))]], np.full(len(x), np.inf)
        while len(centres) < n_clusters:
            nearest = np.minimum(nearest, ((x - centres[-1]) ** 2).sum(axis=1) + 1e-30)
            odds = nearest.astype(float)
            centres = np.vstack([centres, x[rng.choice(len(x), p=odds / odds.sum())]])
        for _ in range(n_rounds):
            squares = ((x**2).sum(axis=1)[:, None] - 2 * x @ centres.T) + (centres**2).sum(axis=1)
            labels = squares.argmin(axis=1)
            sizes = np.bincount(labels, minlength=n_clusters)
            sums = np.column_stack([np.bincount(labels, weights=column, minlength=n_clusters) for column in x.T])
            moved = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
            if np.allclose(moved, centres, rtol=0, atol=1e-4 * abs(x).max()):
                break
            centres = moved
        if (spread := squares.min(axis=1).sum()) < best:
            best, found = spread, labels
    return found


def gaussian_affinity(
    x: Float[np.ndarray, "n_rows n_dims"], y: Float[np.ndarray, "n_cols n_dims"], scale: float
) -> Float[np.ndarray, "n_rows n_cols"]:
    """Return how alike two sets of points are: a block of the matrix above (1).

    Parameters
    ----------
    x, y : ndarray
        The points, one a row.
    scale : float
        The distance sigma at which the affinity has fallen to 0.607. Positive.

    Returns
    -------
    ndarray
        A row for each point of `x` and a column for each of `y`: from 0 to 1, 1 for equal points. Right to rounding
        also for points that are close together and far from the origin.

    Raises
    ------
    ValueError
        If `x` and `y` are no points of as many dimensions, or `scale` is not positive.

    Examples
    --------
    >>> gaussian_affinity(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]), 5.0).round(4)
    array([[0.6065, 0.9802]])
    """
    # given: the checks
    x, y = _points(x, y, ("x", "y"))
    _positive(scale, "scale")
    raise NotImplementedError("not written yet: gaussian_affinity")


def nystrom_degrees(
    a: Float[np.ndarray, "n_sampled n_sampled"], b: Float[np.ndarray, "n_sampled n_others"]
) -> tuple[Float[np.ndarray, " n_sampled"], Float[np.ndarray, " n_others"]]:
    """Return the degrees of all points, from two blocks of the matrix alone, equation (3).

    Parameters
    ----------
    a : ndarray
        The affinities among the sampled points: symmetric, positive semidefinite.
    b : ndarray
        Those of the sampled points with the others. It may have no columns.

    Returns
    -------
    sampled, others : ndarray
        The degrees of the sampled points, and of the others.

    Raises
    ------
    ValueError
        If `a` is not symmetric, `b` does not fit to it, or a degree is not positive: then the sample does not stand for
        that point.

    Examples
    --------
    >>> nystrom_degrees(np.eye(2), np.array([[0.5], [0.5]]))
    (array([1.5, 1.5]), array([1.5]))
    """
    # given: the checks
    a, b = _blocks(a, b)
    raise NotImplementedError("not written yet: nystrom_degrees")


def nystrom_embedding(
    a: Float[np.ndarray, "n_sampled n_sampled"], b: Float[np.ndarray, "n_sampled n_others"], n_vectors: int
) -> tuple[Float[np.ndarray, " n_found"], Float[np.ndarray, "n_points n_found"]]:
    """Return the leading eigenvalues and eigenvectors of (1) for all points, by Nyström's method in one shot, equation (5).

    Parameters
    ----------
    a : ndarray
        The affinities among the sampled points: symmetric, positive semidefinite. Not yet divided by degrees.
    b : ndarray
        Those of the sampled points with the others. It may have no columns.
    n_vectors : int
        How many: at most the number of sampled points. There are fewer if the rank of `a` is less.

    Returns
    -------
    values : ndarray
        The eigenvalues of the approximation (4), the largest first.
    vectors : ndarray
        Its eigenvectors, one a column, orthonormal, of either sign: first the rows of the sampled points, then the
        others'.

    Raises
    ------
    ValueError
        If `a` is not symmetric, `b` does not fit to it, `n_vectors` is not from 1 to the number of sampled points, or a
        degree is not positive.

    Examples
    --------
    >>> values, vectors = nystrom_embedding(np.eye(2), np.array([[0.5], [0.5]]), 2)
    >>> print(values.round(4), abs(vectors[:, 0]).round(4))
    [1.     0.6667] [0.5774 0.5774 0.5774]
    """
    # given: the checks
    a, b = _blocks(a, b)
    _count(n_vectors, "n_vectors", len(a))
    raise NotImplementedError("not written yet: nystrom_embedding")


def landmark_weights(
    x: Points, landmarks: Float[np.ndarray, "n_landmarks n_dims"], n_neighbors: int, scale: float, *, block: int = 4096
) -> Any:
    """Return the weights of the nearest landmarks for each point, equation (6).

    Parameters
    ----------
    x : ndarray
        The points, one a row.
    landmarks : ndarray
        The landmarks, one a row.
    n_neighbors : int
        How many landmarks have a weight for each point, r; at most as many as there are.
    scale : float
        The distance sigma at which the affinity has fallen to 0.607. Positive. However small, the weights of a point
        add up to 1.
    block : int
        For so many points at a time the distances to all landmarks are in memory.

    Returns
    -------
    csr_array of shape (n_points, n_landmarks)
        The weights, `n_neighbors` in each row, in the precision of `x`, also for points that are close together and far
        from the origin. Of landmarks equally far any may be taken.

    Raises
    ------
    ValueError
        If `x` and `landmarks` are no points of as many dimensions, `n_neighbors` is not from 1 to the number of
        landmarks, or `scale` or `block` is not positive.

    Examples
    --------
    >>> z = landmark_weights(np.array([[0.5], [0.0]]), np.array([[0.0], [1.0], [9.0]]), 2, 0.5**0.5)
    >>> print(z.toarray().round(4))
    [[0.5    0.5    0.    ]
     [0.7311 0.2689 0.    ]]
    """
    # given: the checks
    x, landmarks = _points(x, landmarks, ("x", "landmarks"))
    _count(n_neighbors, "n_neighbors", len(landmarks))
    _positive(scale, "scale")
    _count(block, "block")
    raise NotImplementedError("not written yet: landmark_weights")


def landmark_embedding(
    z: Any, n_vectors: int
) -> tuple[Float[np.ndarray, " n_found"], Float[np.ndarray, "n_points n_found"]]:
    """Return the leading eigenvalues and eigenvectors of the landmark graph, equation (8).

    Parameters
    ----------
    z : array or sparse array of shape (n_points, n_landmarks)
        The weights (6): not negative, each row adding up to 1. A landmark may have no weight at all.
    n_vectors : int
        How many, from 1 to the number of landmarks. There are fewer if the rank of `z` is less.

    Returns
    -------
    values : ndarray
        The eigenvalues of W, the largest first; that is 1.
    vectors : ndarray
        Its eigenvectors, one a column, orthonormal, of either sign. No matrix of n_points by n_points, nor a full one
        of n_points by n_landmarks, is made.

    Raises
    ------
    ValueError
        If `z` has rows that do not add up to 1 or entries that are negative, or `n_vectors` is not from 1 to the number
        of landmarks.

    Examples
    --------
    >>> values, vectors = landmark_embedding(np.array([[0.5, 0.5], [1.0, 0.0]]), 2)
    >>> print(values.round(4), abs(vectors).round(4))
    [1.     0.3333] [[0.7071 0.7071]
     [0.7071 0.7071]]
    """
    # given: the checks
    z = csr_array(z)
    _count(n_vectors, "n_vectors", z.shape[1])
    if not (abs(z.sum(axis=1) - 1) < 1e-4).all() or z.min() < 0:
        raise ValueError(f"z must have rows of weights that add up to 1, got sums from {z.sum(axis=1).min()}")
    raise NotImplementedError("not written yet: landmark_embedding")


def srgb_to_lab(image: Image) -> Image:
    """Return the colours L*, a* and b* of an image, equations (9) and (10).

    Parameters
    ----------
    image : ndarray
        Red, green and blue of each pixel as they come from a file, but from 0 to 1.

    Returns
    -------
    ndarray
        L from 0 (black) to 100 (white), a from green to red, b from blue to yellow: both 0 for greys, and about 100
        either way at most.

    Raises
    ------
    ValueError
        If `image` has not three colours from 0 to 1.

    Examples
    --------
    >>> srgb_to_lab(np.array([[[1.0, 0.0, 0.0], [0.5, 0.5, 0.5]]])).round(2) + 0.0
    array([[[53.24, 80.09, 67.2 ],
            [53.39,  0.  ,  0.  ]]])
    """
    # given: the checks
    image = _image(image)
    raise NotImplementedError("not written yet: srgb_to_lab")


def pixel_features(image: Image, position_weight: float) -> Float[np.ndarray, "n_pixels 5"]:
    """Return a point for each pixel: its colour L, a, b, and its place.

    Parameters
    ----------
    image : ndarray
        Red, green and blue of each pixel, from 0 to 1.
    position_weight : float
        How many units of colour the longer side of the image is worth. 0 or more.

    Returns
    -------
    ndarray
        A row for each pixel, line by line: L, a, b, then row and column of the pixel, counted from 0, times
        `position_weight` over the longer side in pixels. So the picture's shape is kept.

    Raises
    ------
    ValueError
        If `image` has not three colours from 0 to 1, or `position_weight` is negative.

    Examples
    --------
    >>> pixel_features(np.ones((2, 4, 3)), 60.0)[[1, 4], 3:]
    array([[ 0., 15.],
           [15.,  0.]])
    """
    # given: the checks
    image = _image(image)
    if not 0 <= position_weight < np.inf:
        raise ValueError(f"position_weight must be 0 or more, and finite, got {position_weight}")
    raise NotImplementedError("not written yet: pixel_features")


def segment(
    image: Image,
    n_segments: int,
    *,
    n_landmarks: int = 300,
    n_neighbors: int = 5,
    scale: float = 10.0,
    position_weight: float = 60.0,
    rng: np.random.Generator,
) -> Int[np.ndarray, "height width"]:
    """Return the segments of an image: spectral clustering of its pixels by landmarks.

    Parameters
    ----------
    image : ndarray
        Red, green and blue of each pixel, from 0 to 1.
    n_segments : int
        How many segments, and eigenvectors; at most as many as landmarks.
    n_landmarks : int
        How many pixels, drawn at random, all different, are landmarks.
    n_neighbors : int
        How many landmarks have a weight for each pixel.
    scale : float
        The distance sigma, in units of colour.
    position_weight : float
        How many units of colour the longer side of the image is worth.
    rng : Generator
        For the landmarks, and for k-means.

    Returns
    -------
    ndarray
        The segment of each pixel, from 0.

    Raises
    ------
    ValueError
        If `image` is none, or a number is out of its range: `n_landmarks` is at most that of pixels, the others at most
        that of landmarks.

    Examples
    --------
    >>> image = np.zeros((6, 8, 3))
    >>> image[:, 5:] = [0.2, 0.9, 0.4]
    >>> labels = segment(image, 2, n_landmarks=20, n_neighbors=3, rng=np.random.default_rng(0))
    >>> print((labels == labels[0, 0]).astype(int)[:2])
    [[1 1 1 1 1 0 0 0]
     [1 1 1 1 1 0 0 0]]
    """
    # given: the checks
    image = _image(image)
    _count(n_landmarks, "n_landmarks", image.shape[0] * image.shape[1])
    _count(n_segments, "n_segments", n_landmarks)
    raise NotImplementedError("not written yet: segment")
