"""Distances to all landmarks afresh, Cholesky and singular value decompositions, draws by cumulated sums."""

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
    """Choose landmarks at random, but far from each other, as at equation (3)."""
    # given: the checks
    x = real_array(x, "x", ndim=2)
    _check_count(n_landmarks, "n_landmarks", len(x))
    # yours
    chosen = [int(rng.choice(len(x)))]
    for _ in range(n_landmarks - 1):
        squared = ((x[:, None] - x[chosen]) ** 2).sum(axis=2).min(axis=1)
        if squared.max() == 0:
            raise ValueError(f"n_landmarks must be at most {len(chosen)} here, got {n_landmarks}")
        steps = np.cumsum(squared)
        chosen.append(int(np.searchsorted(steps, rng.uniform(0, steps[-1]), side="right")))
    return np.array(chosen)


def greedy_landmarks(
    x: Samples, n_landmarks: int, kernel: Kernel, *, tol: float = 1e-10
) -> Int[np.ndarray, " n_chosen"]:
    """Choose as landmarks the samples that the ones before represent worst, equation (4)."""
    # given: the checks, and the diagonal
    x = real_array(x, "x", ndim=2)
    _check_count(n_landmarks, "n_landmarks", len(x))
    if not tol >= 0:
        raise ValueError(f"tol must be 0 or more, got {tol}")
    residual = np.array([_kernels(kernel, row[None], row[None])[0, 0] for row in x])
    smallest = tol * residual.max()
    # yours
    diagonal, chosen, cross = residual, [], np.zeros((len(x), 0))
    while len(chosen) < n_landmarks and (not chosen or residual.max() > smallest):
        chosen.append(int(residual.argmax()))
        cross = np.hstack([cross, _kernels(kernel, x, x[chosen[-1:]])])
        factor = np.linalg.cholesky(cross[chosen])
        half = np.linalg.solve(factor, cross.T)
        residual = diagonal - (half**2).sum(axis=0)
        residual[chosen] = 0
    return np.array(chosen)


def nystrom_features(x: Samples, landmarks: Float[np.ndarray, "n_landmarks n_dims"], kernel: Kernel) -> Features:
    r"""Return Nyström features of samples, equation (2)."""
    # given: the checks
    x, landmarks = real_array(x, "x", ndim=2), real_array(landmarks, "landmarks", ndim=2)
    if x.shape[1] != landmarks.shape[1]:
        raise ValueError(f"landmarks must have as many dimensions as x, {x.shape[1]}, got {landmarks.shape[1]}")
    among = symmetric_matrix(_kernels(kernel, landmarks, landmarks), "kernel(landmarks, landmarks)")
    # yours
    u, s, _ = np.linalg.svd(among, hermitian=True)
    rank = int((s > len(s) * np.finfo(s.dtype).eps * s[0]).sum())
    roots = u[:, :rank] * s[:rank] ** -0.5
    return np.concatenate([_kernels(kernel, row[None], landmarks) @ roots for row in x])


def random_frequencies(
    n_features: int, n_dims: int, gamma: float, *, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n_dims n_features"], Float[np.ndarray, " n_features"]]:
    r"""Draw the frequencies and the phases of random Fourier features, equation (5)."""
    # given: the checks
    for count, name in ((n_features, "n_features"), (n_dims, "n_dims")):
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    if not 0 < gamma < np.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    # yours
    phases = 2 * np.pi * rng.random(n_features)
    return (rng.standard_normal((n_features, n_dims)) * (2 * gamma) ** 0.5).T, phases


def fourier_features(
    x: Samples, frequencies: Float[np.ndarray, "n_dims n_features"], phases: Float[np.ndarray, " n_features"]
) -> Features:
    """Return random Fourier features of samples, equation (6)."""
    # given: the checks
    x, frequencies = real_array(x, "x", ndim=2), real_array(frequencies, "frequencies", ndim=2)
    phases = real_array(phases, "phases", ndim=1)
    if len(frequencies) != x.shape[1]:
        raise ValueError(f"frequencies must have a row for each of the {x.shape[1]} dimensions, got {len(frequencies)}")
    if len(phases) != frequencies.shape[1]:
        raise ValueError(f"phases must have an entry for each of the {frequencies.shape[1]} waves, got {len(phases)}")
    # yours
    angles = np.einsum("nd,df->nf", x, frequencies) + phases
    return (np.cos(angles) / np.sqrt(len(phases) / 2)).astype(x.dtype)


def kernel_ridge(
    gram: Float[np.ndarray, "n_samples n_samples"], y: Float[np.ndarray, " n_samples"], penalty: float
) -> Float[np.ndarray, " n_samples"]:
    r"""Return the coefficients of kernel ridge regression, equation (7)."""
    # given: the checks
    gram = symmetric_matrix(gram, "gram")
    y = _targets(y, len(gram), penalty)
    # yours
    values, vectors = np.linalg.eigh(gram)
    return vectors @ ((vectors.T @ y) / (values + gram.dtype.type(penalty)))


def ridge(features: Features, y: Float[np.ndarray, " n_samples"], penalty: float) -> Float[np.ndarray, " n_features"]:
    r"""Return the weights of ridge regression on features, equation (8). No matrix of samples by samples is made."""
    # given: the checks
    features = real_array(features, "features", ndim=2)
    y = _targets(y, len(features), penalty)
    # yours
    _, s, vt = np.linalg.svd(features, full_matrices=False)
    return vt.T @ ((vt @ (features.T @ y)) / (s**2 + features.dtype.type(penalty)))


def gram_error(features: Features, x: Samples, kernel: Kernel, *, block: int = 500) -> float:
    r"""Return how far the products of features are from the kernels, relative and in the Frobenius norm, block by block."""
    # given: the checks
    features, x = real_array(features, "features", ndim=2), real_array(x, "x", ndim=2)
    if len(features) != len(x):
        raise ValueError(f"features must have a row for each of the {len(x)} samples, got {len(features)}")
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    # yours
    sums = np.zeros(2)
    for rows in np.split(np.arange(len(x)), range(block, len(x), block)):
        exact = _kernels(kernel, x[rows], x)
        sums += [np.linalg.norm(features[rows] @ features.T - exact) ** 2, np.linalg.norm(exact) ** 2]
    return float(np.sqrt(sums[0] / sums[1]))
