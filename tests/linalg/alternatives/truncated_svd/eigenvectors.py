"""The patterns from eigenvectors of the augmented matrix [[0, A], [A', 0]], sums in loops, tables for the image."""

from dataclasses import dataclass

import numpy as np

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class TruncatedSVD:
    u: np.ndarray
    s: np.ndarray
    vt: np.ndarray


@dataclass(frozen=True)
class CompressedImage:
    image: np.ndarray
    ratio: float


def _all(a):
    m, n = a.shape
    r = min(m, n)
    size = float(np.abs(a).max()) or 1.0
    whole = np.zeros((m + n, m + n))
    whole[:m, m:] = a / size
    whole[m:, :m] = a.T / size
    values, vectors = np.linalg.eigh(whole)
    order = np.argsort(-values)[:r]
    s, u, v = values[order].clip(0) * size, vectors[:m, order] * 2**0.5, vectors[m:, order] * 2**0.5
    return [x.astype(a.dtype) for x in (u, s, v.T)]


def marchenko_pastur_median(beta):
    if not 0 < beta <= 1:
        raise ValueError("beta")
    low, high = (1 - beta**0.5) ** 2, (1 + beta**0.5) ** 2
    t = (np.arange(400_000) + 0.5) / 400_000
    x = low + (high - low) * np.sin(np.pi * t / 2) ** 2  # dense at both ends
    weight = np.sqrt((high - x) * (x - low)) / x * np.sin(np.pi * t)
    total = np.cumsum(weight)
    return float(np.interp(total[-1] / 2, total, x))


def truncate(a, rank):
    a = real_array(a, "a", ndim=2)
    if rank not in range(1, min(a.shape) + 1):
        raise ValueError("rank")
    u, s, vt = _all(a)
    return TruncatedSVD(u[:, :rank], s[:rank], vt[:rank])


def approximation(patterns):
    total = np.zeros((len(patterns.u), patterns.vt.shape[1]), patterns.u.dtype)
    for i, size in enumerate(patterns.s):
        total += size * patterns.u[:, i, None] * patterns.vt[i]
    return total


def _sorted(values):
    s = real_array(values, "singular_values", ndim=1)
    if (s < 0).any() or list(s) != sorted(s, reverse=True):
        raise ValueError("singular_values")
    return s


def truncation_error(singular_values, rank):
    s = _sorted(singular_values)
    if rank not in range(len(s) + 1):
        raise ValueError("rank")
    frobenius = 0.0
    for value in s[rank:]:
        frobenius = float(np.hypot(frobenius, value))
    return (float(s[rank]) if rank < len(s) else 0.0), frobenius


def explained_energy(singular_values):
    s = _sorted(singular_values)
    if not s.any():
        return s + 1
    shares = np.square(s / np.linalg.norm(s / s[0]) / s[0])
    return np.array([shares[: k + 1].sum() for k in range(len(s))], s.dtype)


def compress_image(image, rank):
    image = real_array(image, "image", ndim=3)
    if not (image >= 0).all() or not (image <= 1).all():
        raise ValueError("image")
    small = np.empty_like(image)
    for i in range(image.shape[2]):
        small[..., i] = approximation(truncate(image[..., i], rank))
    kept = truncate(image[..., 0], rank)
    return CompressedImage(
        np.minimum(np.maximum(small, 0), 1), image[..., 0].size / (kept.u.size + kept.s.size + kept.vt.size)
    )


def threshold_coefficient(beta):
    if not 0 < beta <= 1:
        raise ValueError("beta")
    # The root of the quadratic that (6) solves, rationalised.
    below = (beta + 1 - (beta**2 + 14 * beta + 1) ** 0.5) / ((beta + 1) ** 2 - beta**2 - 14 * beta - 1)
    return float((2 * beta + 2 + 8 * beta * below) ** 0.5)


def optimal_threshold(singular_values, shape, noise=None):
    s = _sorted(singular_values)
    if len(s) != min(shape):
        raise ValueError("singular_values")
    if noise is not None and not 0 < noise < np.inf:
        raise ValueError("noise")
    beta = min(shape) / max(shape)
    if noise is None:
        noise = np.median(s) / np.sqrt(max(shape) * marchenko_pastur_median(beta))
    return float(threshold_coefficient(beta) * max(shape) ** 0.5 * noise)


def denoise(a, noise=None):
    a = real_array(a, "a", ndim=2)
    u, s, vt = _all(a)
    k = sum(s > optimal_threshold(np.sort(s)[::-1], a.shape, noise))
    return TruncatedSVD(u[:, :k], s[:k], vt[:k])
