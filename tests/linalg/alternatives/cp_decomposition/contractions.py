"""Contractions mode after mode, least squares without normal equations, errors from the residual, a rank by QR."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from mlpath.linalg._shared import real_array

NWay = Float[np.ndarray, "..."]
Factor = Float[np.ndarray, "n_entries rank"]


@dataclass(frozen=True)
class CP:
    """A normalised decomposition, equations (1) and (8)."""

    weights: Float[np.ndarray, " rank"]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class CPFit:
    """Where alternating least squares arrived, and how it went."""

    cp: CP
    errors: Float[np.ndarray, " n_sweeps"]
    converged: bool


def _tensor(values: ArrayLike, name: str = "tensor") -> np.ndarray:  # given: argument checks
    """Return an array of floats with two or more modes, or say what is wrong with it."""
    tensor = real_array(values, name, ndim=np.ndim(values))
    if tensor.ndim < 2:
        raise ValueError(f"{name} must have two or more modes, got the shape {tensor.shape}")
    return tensor


def _check_mode(mode: int, n_modes: int) -> None:  # given: argument checks
    """Raise a ValueError unless there is such a mode."""
    if mode not in range(n_modes):
        raise ValueError(f"mode must be a whole number from 0 to {n_modes - 1}, got {mode}")


def _check_whole(count: int, name: str) -> None:  # given: argument checks
    """Raise a ValueError unless it is a whole number above 0."""
    if count != int(count) or count < 1:
        raise ValueError(f"{name} must be a whole number above 0, got {count}")


def _matrices(values: Sequence[ArrayLike], name: str = "factors") -> list[np.ndarray]:  # given: argument checks
    """Return a list of matrices with equally many columns."""
    matrices = [real_array(m, f"{name}[{n}]", ndim=2) for n, m in enumerate(values)]
    columns = [m.shape[1] for m in matrices]
    if len(set(columns)) != 1:
        raise ValueError(f"{name} must be one or more matrices with equally many columns, got {columns}")
    return matrices


def _fitting(values: Sequence[ArrayLike], tensor: np.ndarray) -> list[np.ndarray]:  # given: argument checks
    """Return factors in the precision of the tensor, with as many rows as it has entries along each mode."""
    factors = _matrices(values)
    if tuple(map(len, factors)) != tensor.shape:
        raise ValueError(f"factors must have {tensor.shape} rows, as the tensor has, got {tuple(map(len, factors))}")
    return [f.astype(tensor.dtype) for f in factors]


def _lengths(matrix: np.ndarray) -> np.ndarray:  # given: norms of columns, whatever their size
    """Return the lengths of the columns, and 0 for a column of zeros."""
    largest = np.abs(matrix).max(axis=0)
    scale = np.where(largest > 0, largest, 1).astype(matrix.dtype)
    return scale * np.linalg.norm(matrix / scale, axis=0)


def _unit(matrix: np.ndarray) -> np.ndarray:  # given: columns of length 1
    """Return the matrix with each column scaled to length 1; a column of zeros stays."""
    # First by the largest entry: one over the length of a tiny column would overflow.
    largest = np.abs(matrix).max(axis=0)
    matrix = matrix / np.where(largest > 0, largest, 1).astype(matrix.dtype)
    lengths = np.linalg.norm(matrix, axis=0)
    return matrix / np.where(lengths > 0, lengths, 1).astype(matrix.dtype)


def unfold(tensor: NWay, mode: int) -> Float[np.ndarray, "n_entries n_others"]:
    """Return the unfolding of a tensor along a mode, equation (2)."""
    # given: the checks
    tensor = _tensor(tensor)
    _check_mode(mode, tensor.ndim)
    # yours
    return np.stack([np.take(tensor, i, axis=mode).ravel() for i in range(tensor.shape[mode])])


def fold(matrix: Float[np.ndarray, "n_entries n_others"], mode: int, shape: tuple[int, ...]) -> NWay:  # given
    """Undo `unfold`: return the tensor of which this is the unfolding."""
    matrix = real_array(matrix, "matrix", ndim=2)
    _check_mode(mode, len(shape))
    others = [size for n, size in enumerate(shape) if n != mode]
    if matrix.shape != (shape[mode], np.prod(others)):
        raise ValueError(f"matrix must be of the shape {(shape[mode], int(np.prod(others)))}, got {matrix.shape}")
    return np.moveaxis(matrix.reshape(shape[mode], *others), 0, mode)


def khatri_rao(matrices: Sequence[Factor]) -> Float[np.ndarray, "n_products rank"]:
    """Return the Khatri-Rao product of matrices, equation (3): the last one's rows run fastest."""
    # given: the checks
    matrices = _matrices(matrices, "matrices")
    # yours
    columns = []
    for r in range(matrices[0].shape[1]):
        column = matrices[0][:, r]
        for matrix in matrices[1:]:
            column = np.kron(column, matrix[:, r])
        columns.append(column)
    return np.stack(columns, axis=1)


def reconstruct(weights: Float[np.ndarray, " rank"], factors: Sequence[Factor]) -> NWay:  # given
    """Return the tensor that is the sum of the components, equation (1)."""
    factors, weights = _matrices(factors), real_array(weights, "weights", ndim=1)
    if len(factors) < 2 or len(weights) != factors[0].shape[1]:
        raise ValueError(f"weights must have one for each column of two or more factors, got {len(weights)}")
    return fold((factors[0] * weights) @ khatri_rao(factors[1:]).T, 0, tuple(map(len, factors)))


def mttkrp(tensor: NWay, factors: Sequence[Factor], mode: int) -> Factor:
    """Return the unfolding of a tensor times the Khatri-Rao product of all other modes' factors, M in equation (5)."""
    # given: the checks
    tensor = _tensor(tensor)
    _check_mode(mode, tensor.ndim)
    factors = _fitting(factors, tensor)
    # yours
    result = np.empty_like(factors[mode])
    for r in range(result.shape[1]):
        rest = tensor
        for n in reversed(range(tensor.ndim)):
            if n != mode:
                rest = np.tensordot(rest, factors[n][:, r], axes=(n, 0))
        result[:, r] = rest
    return result


def als_sweep(tensor: NWay, factors: Sequence[Factor]) -> tuple[list[Factor], float]:
    """Improve the factor of each mode in turn by equation (5), with the newest of the others, and return the error (7) after it."""
    # given: the checks
    tensor = _tensor(tensor)
    factors = _fitting(factors, tensor)
    size = float(np.linalg.norm(tensor))
    if not 0 < size < np.inf:
        raise ValueError(f"tensor must not be all zero, nor have squares that are 0 or infinite, got the norm {size}")
    # yours
    for mode in range(tensor.ndim):
        k = khatri_rao(factors[:mode] + factors[mode + 1 :])
        unfolded = unfold(tensor, mode)
        factors[mode] = np.linalg.lstsq(k, unfolded.T, rcond=1e-6 if k.dtype == np.float32 else 1e-12)[0].T
        if mode < tensor.ndim - 1:
            factors[mode] = _unit(factors[mode])
    return factors, float(np.linalg.norm(unfolded - factors[-1] @ k.T)) / size


def normalise(factors: Sequence[Factor]) -> CP:
    """Scale columns to length 1, and order the components by their weights, equation (8)."""
    # given: the checks
    factors = _matrices(factors)
    # yours
    scaled, weights = [], np.ones(factors[0].shape[1], dtype=factors[0].dtype)
    for f in factors:
        weights = weights * _lengths(f)
        scaled.append(_unit(f))
    order = sorted(range(len(weights)), key=lambda r: weights[r], reverse=True)
    return CP(weights[order], tuple(np.array([f[:, r] for r in order]).T for f in scaled))


def cp_als(
    tensor: NWay,
    rank: int,
    *,
    n_starts: int = 5,
    tol: float = 1e-8,
    max_sweeps: int = 1000,
    rng: np.random.Generator,
) -> CPFit:
    """Decompose a tensor by alternating least squares from several random starts, and return the one of the least error."""
    # given: the checks
    tensor = _tensor(tensor)
    for count, name in ((rank, "rank"), (n_starts, "n_starts"), (max_sweeps, "max_sweeps")):
        _check_whole(count, name)
    if not tol >= 0:
        raise ValueError(f"tol must be 0 or more, got {tol}")
    if not tensor.any():
        raise ValueError(f"tensor must not be all zero, got zeros of the shape {tensor.shape}")
    # yours
    best, least = None, np.inf
    scale = np.abs(tensor).max()
    starts = [[rng.standard_normal((rank, n)).T for n in tensor.shape] for _ in range(n_starts)]
    for factors in starts:
        errors = [np.inf]
        for _ in range(max_sweeps):
            factors, error = als_sweep(tensor / scale, factors)
            errors.append(error)
            if errors[-2] - error < tol:
                break
        if best is None or errors[-1] < least:
            cp, least = normalise(factors), errors[-1]
            cp = CP(cp.weights * scale, cp.factors)
            best = CPFit(cp, np.array(errors[1:]), bool(errors[-2] - errors[-1] < tol))
    assert best is not None
    return best


def congruence(
    factors: Sequence[Float[np.ndarray, "n_entries rank"]], others: Sequence[Float[np.ndarray, "n_entries other_rank"]]
) -> Float[np.ndarray, "rank other_rank"]:
    """Return the product of the cosines over all modes for each pair of components, equation (9)."""
    # given: the checks
    factors, others = _matrices(factors), _matrices(others, "others")
    if [len(f) for f in factors] != [len(f) for f in others]:
        raise ValueError(f"others must have {[len(f) for f in factors]} rows, got {[len(f) for f in others]}")
    # yours
    product = np.ones((factors[0].shape[1], others[0].shape[1]), dtype=factors[0].dtype)
    for f, g in zip(factors, others, strict=True):
        for r in range(len(product)):
            product[r] *= (_unit(f)[:, [r]] * _unit(g)).sum(axis=0)
    return product


def match_components(  # given
    factors: Sequence[Factor], others: Sequence[Factor]
) -> tuple[float, Int[np.ndarray, " rank"]]:
    """Pair the components of two decompositions so that they are most alike."""
    similar = congruence(factors, others)
    if similar.shape[0] != similar.shape[1]:
        raise ValueError(f"others must have {similar.shape[0]} components, got {similar.shape[1]}")
    rows, order = linear_sum_assignment(-similar)
    return float(similar[rows, order].mean()), order


def k_rank(matrix: Float[np.ndarray, "n_entries rank"]) -> int:
    """Return the k-rank of a matrix: the largest k such that every k of its columns are independent."""
    # given: the checks
    matrix = real_array(matrix, "matrix", ndim=2)
    # yours
    matrix = _unit(matrix)
    least = np.finfo(matrix.dtype).eps * max(matrix.shape)

    def dependent(columns: tuple[int, ...]) -> bool:
        return np.linalg.svd(matrix[:, columns], compute_uv=False)[-1] <= least or len(columns) > len(matrix)

    k = matrix.shape[1]
    while k and any(dependent(c) for size in range(1, k + 1) for c in combinations(range(matrix.shape[1]), size)):
        k -= 1
    return k


def is_unique(factors: Sequence[Factor]) -> bool:  # given
    """Return whether Kruskal's condition (10) says that there is no other decomposition into as many components."""
    factors = _matrices(factors)
    return sum(map(k_rank, factors)) >= 2 * factors[0].shape[1] + len(factors) - 1
