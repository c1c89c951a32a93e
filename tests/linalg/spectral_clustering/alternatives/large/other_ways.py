"""A QR and an SVD for Nyström, logarithms of weights, and columns of zeros left out."""

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
    """Return the cluster of each point: k-means from seeds far from each other (k-means++), the best of three starts."""
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
    """Return how alike two sets of points are: a block of the matrix above (1)."""
    x, y = _points(x, y, ("x", "y"))
    _positive(scale, "scale")
    rows = [np.exp(-(((y - row) / scale) ** 2).sum(axis=1) / 2) for row in x]
    return np.stack(rows)


def nystrom_degrees(
    a: Float[np.ndarray, "n_sampled n_sampled"], b: Float[np.ndarray, "n_sampled n_others"]
) -> tuple[Float[np.ndarray, " n_sampled"], Float[np.ndarray, " n_others"]]:
    """Return the degrees of all points, from two blocks of the matrix alone, equation (3)."""
    a, b = _blocks(a, b)
    ones = np.ones(b.shape[1], dtype=b.dtype)
    completed = np.linalg.pinv(a, hermitian=True, rcond=len(a) * float(np.finfo(a.dtype).eps)) @ (b @ ones)
    sampled = a @ np.ones(len(a), dtype=a.dtype) + b @ ones
    others = np.array([column.sum() + column @ completed for column in b.T], dtype=b.dtype)
    return _checked(sampled, "a"), _checked(others, "b")


def nystrom_embedding(
    a: Float[np.ndarray, "n_sampled n_sampled"], b: Float[np.ndarray, "n_sampled n_others"], n_vectors: int
) -> tuple[Float[np.ndarray, " n_found"], Float[np.ndarray, "n_points n_found"]]:
    """Return the leading eigenvalues and eigenvectors of (1) for all points, by Nyström's method in one shot, equation (5)."""
    a, b = _blocks(a, b)
    _count(n_vectors, "n_vectors", len(a))
    # The singular vectors of F = G A^(-1/2), by its QR factorisation.
    degrees = np.concatenate(nystrom_degrees(a, b))
    g = np.hstack([a, b]).T / np.sqrt(degrees)[:, None] / np.sqrt(degrees[: len(a)])
    q, r = np.linalg.qr(g @ _inverse_root(g[: len(a)]))
    u, s, _ = np.linalg.svd(r)
    kept = s[:n_vectors] ** 2 > len(a) * np.finfo(a.dtype).eps * s[0] ** 2
    return s[:n_vectors][kept] ** 2, -(q @ u[:, :n_vectors][:, kept])


def landmark_weights(
    x: Points, landmarks: Float[np.ndarray, "n_landmarks n_dims"], n_neighbors: int, scale: float, *, block: int = 4096
) -> Any:
    """Return the weights of the nearest landmarks for each point, equation (6)."""
    x, landmarks = _points(x, landmarks, ("x", "landmarks"))
    _count(n_neighbors, "n_neighbors", len(landmarks))
    _positive(scale, "scale")
    _count(block, "block")
    indices, data = [], []
    for start in range(0, len(x), block):
        squares = np.stack([(((x[start : start + block] - u) / scale) ** 2).sum(axis=1) for u in landmarks], axis=1)
        order = np.argsort(squares, axis=1, kind="stable")[:, :n_neighbors]
        near = np.take_along_axis(squares, order, axis=1)
        log_weights = -near / 2
        log_weights = log_weights - np.logaddexp.reduce(log_weights, axis=1, keepdims=True)
        ascending = np.argsort(order, axis=1)
        indices.append(np.take_along_axis(order, ascending, axis=1))
        data.append(np.exp(np.take_along_axis(log_weights, ascending, axis=1)))
    indptr = np.arange(0, len(x) * n_neighbors + 1, n_neighbors)
    return csr_array((np.concatenate(data).ravel(), np.concatenate(indices).ravel(), indptr), (len(x), len(landmarks)))


def landmark_embedding(
    z: Any, n_vectors: int
) -> tuple[Float[np.ndarray, " n_found"], Float[np.ndarray, "n_points n_found"]]:
    """Return the leading eigenvalues and eigenvectors of the landmark graph, equation (8)."""
    z = csr_array(z)
    _count(n_vectors, "n_vectors", z.shape[1])
    if not (abs(z.sum(axis=1) - 1) < 1e-4).all() or z.min() < 0:
        raise ValueError(f"z must have rows of weights that add up to 1, got sums from {z.sum(axis=1).min()}")
    columns = np.flatnonzero(z.sum(axis=0) > 0)
    used = z[:, columns]
    roots = np.sqrt(used.sum(axis=0))
    small = (used.T @ used).toarray() / roots[:, None] / roots
    values, vectors = _leading(small, n_vectors)
    v = used @ (vectors / roots[:, None])
    return values, v / np.linalg.norm(v, axis=0)


def srgb_to_lab(image: Image) -> Image:
    """Return the colours L*, a* and b* of an image, equations (9) and (10)."""
    image = _image(image)
    light = image / 12.92
    bright = image > 0.04045
    light[bright] = ((image[bright] + 0.055) / 1.055) ** 2.4
    xyz = np.einsum("ij,hwj->hwi", SRGB_TO_XYZ.astype(image.dtype), light)
    t = xyz / SRGB_TO_XYZ.sum(axis=1).astype(image.dtype)
    f = np.where(t > 216 / 24389, t ** (1 / 3), (24389 / 27 * t + 16) / 116)
    lab = np.empty_like(image)
    lab[..., 0] = 116 * f[..., 1] - 16
    lab[..., 1] = 500 * (f[..., 0] - f[..., 1])
    lab[..., 2] = 200 * (f[..., 1] - f[..., 2])
    return lab


def pixel_features(image: Image, position_weight: float) -> Float[np.ndarray, "n_pixels 5"]:
    """Return a point for each pixel: its colour L, a, b, and its place."""
    image = _image(image)
    if not 0 <= position_weight < np.inf:
        raise ValueError(f"position_weight must be 0 or more, and finite, got {position_weight}")
    height, width = image.shape[:2]
    step = position_weight / max(height, width)
    rows, columns = np.divmod(np.arange(height * width), width)
    features = np.empty((height * width, 5), dtype=image.dtype)
    features[:, :3] = srgb_to_lab(image).reshape(height * width, 3)
    features[:, 3], features[:, 4] = step * rows, step * columns
    return features


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
    """Return the segments of an image: spectral clustering of its pixels by landmarks."""
    image = _image(image)
    _count(n_landmarks, "n_landmarks", image.shape[0] * image.shape[1])
    _count(n_segments, "n_segments", n_landmarks)
    height, width = image.shape[:2]
    x = pixel_features(image, position_weight)
    chosen = rng.permutation(height * width)[:n_landmarks]
    _, vectors = landmark_embedding(landmark_weights(x, x[chosen], n_neighbors, scale, block=100), n_segments)
    labels = k_means(vectors, n_segments, rng=rng)
    return labels.reshape(height, width)
