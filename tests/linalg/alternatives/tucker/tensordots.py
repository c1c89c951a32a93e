"""Sums over pairs of indices, full SVDs, cores from singular values, ranks counted down."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array
from mlpath.linalg.cp_decomposition import fold, unfold

NWay = Float[np.ndarray, "..."]
Factor = Float[np.ndarray, "n_entries rank"]


@dataclass(frozen=True)
class Tucker:
    """A core and a factor for each mode, equation (3)."""

    core: NWay
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class TuckerFit:
    """Where higher-order orthogonal iteration arrived, and how it went."""

    tucker: Tucker
    errors: Float[np.ndarray, " n_errors"]
    converged: bool


def _tensor(values: ArrayLike, name: str = "tensor") -> np.ndarray:  # given: argument checks
    """Return an array of floats with two or more modes, not all zero, or say what is wrong with it."""
    tensor = real_array(values, name, ndim=np.ndim(values))
    if tensor.ndim < 2 or not tensor.any():
        raise ValueError(
            f"{name} must have two or more modes and not be zero, got {tensor} of the shape {tensor.shape}"
        )
    return tensor


def _check_ranks(ranks: Sequence[int], shape: tuple[int, ...]) -> None:  # given: argument checks
    """Raise a ValueError unless there is a rank for each mode, from 1 to its number of entries."""
    if len(ranks) != len(shape) or not all(r == int(r) and 1 <= r <= n for r, n in zip(ranks, shape, strict=True)):
        raise ValueError(f"ranks must be whole numbers, one for each mode, from 1 to {shape}, got {tuple(ranks)}")


def _norm(tensor: np.ndarray) -> float:  # given: a norm that neither under- nor overflows
    """Return the Frobenius norm."""
    largest = float(np.abs(tensor).max())
    return largest * float(np.linalg.norm(tensor / largest)) if largest > 0 else 0.0


def _leading(matrix: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:  # given: the SVD of an unfolding
    """Return the first left singular vectors of a matrix, one a column, and all its singular values."""
    n_rows, n_cols = matrix.shape
    if n_rows < n_cols:
        # Of a wide matrix the triangular factor of its transpose has the same ones, and is small.
        matrix = np.asarray(np.linalg.qr(matrix.T, mode="r")).T
    u, s, _ = np.linalg.svd(matrix, full_matrices=rank > n_cols)
    return u[:, :rank], s


def mode_product(tensor: NWay, matrix: Float[np.ndarray, "n_new n_entries"], mode: int) -> NWay:
    """Multiply a tensor by a matrix along a mode, equation (1)."""
    # given: the checks
    tensor, matrix = real_array(tensor, "tensor", ndim=np.ndim(tensor)), real_array(matrix, "matrix", ndim=2)
    unfolded = unfold(tensor, mode)
    if matrix.shape[1] != len(unfolded):
        raise ValueError(f"matrix must have {len(unfolded)} columns, as mode {mode} has entries, got {matrix.shape[1]}")
    matrix = matrix.astype(tensor.dtype)
    # yours
    return np.moveaxis(np.tensordot(tensor, matrix, axes=(mode, 1)), -1, mode)


def multi_mode_product(tensor: NWay, matrices: Sequence[Float[np.ndarray, "n_new n_entries"] | None]) -> NWay:
    """Multiply a tensor along each mode that a matrix is given for, equation (1)."""
    # given: the checks
    tensor = real_array(tensor, "tensor", ndim=np.ndim(tensor))
    if len(matrices) != tensor.ndim:
        raise ValueError(f"matrices must be one or None for each of {tensor.ndim} modes, got {len(matrices)}")
    # yours
    letters = [chr(97 + n) for n in range(tensor.ndim)]
    for letter, matrix in reversed(list(zip(letters, matrices, strict=True))):
        if matrix is not None:
            old = "".join(letters)
            tensor = np.einsum(f"{old},z{letter}->{old.replace(letter, 'z')}", tensor, matrix.astype(tensor.dtype))
    return tensor


def reconstruct(tucker: Tucker) -> NWay:  # given
    """Return the tensor that a decomposition stands for, equation (3)."""
    return multi_mode_product(tucker.core, tucker.factors)


def relative_error(tensor: NWay, core: NWay) -> float:
    """Return the error of a decomposition by orthonormal factors from its core alone, equation (5), relative to the norm of the tensor."""
    # given: the checks
    tensor, core = _tensor(tensor), real_array(core, "core", ndim=np.ndim(core))
    # yours
    largest = np.abs(tensor).max()
    whole, kept = float(((tensor / largest) ** 2).sum()), float(((core / largest) ** 2).sum())
    return float(np.sqrt(max(0.0, whole - kept) / whole))


def hosvd(tensor: NWay, ranks: Sequence[int]) -> Tucker:
    """Return the truncated higher-order SVD, equations (6) and (4)."""
    # given: the checks
    tensor = _tensor(tensor)
    _check_ranks(ranks, tensor.shape)
    # yours
    factors = []
    for mode, rank in enumerate(ranks):
        u = np.linalg.svd(unfold(tensor, mode), full_matrices=True)[0]
        factors.append(-u[:, :rank])
    core = tensor
    for mode in reversed(range(tensor.ndim)):
        core = mode_product(core, factors[mode].T, mode)
    return Tucker(core, tuple(factors))


def sequential_hosvd(tensor: NWay, ranks: Sequence[int]) -> Tucker:
    """Return the sequentially truncated higher-order SVD, equation (9), of the modes in their order."""
    # given: the checks
    tensor = _tensor(tensor)
    _check_ranks(ranks, tensor.shape)
    # yours
    factors, left = [], tensor
    for mode in range(tensor.ndim):
        u, sigma, vt = np.linalg.svd(unfold(left, mode), full_matrices=True)
        rank = ranks[mode]
        rest = np.zeros((rank, vt.shape[1]), dtype=tensor.dtype)
        rest[: len(sigma)] = sigma[:rank, None] * vt[: min(rank, len(sigma))]
        factors.append(u[:, :rank])
        left = fold(rest, mode, (*left.shape[:mode], rank, *left.shape[mode + 1 :]))
    return Tucker(left, tuple(factors))


def hooi_sweep(tensor: NWay, factors: Sequence[Factor]) -> Tucker:
    """Improve the factor of each mode in turn by equation (10), with the newest of the others."""
    # given: the checks
    tensor = _tensor(tensor)
    factors = [real_array(f, f"factors[{n}]", ndim=2) for n, f in enumerate(factors)]
    if tuple(map(len, factors)) != tensor.shape:
        raise ValueError(f"factors must have {tensor.shape} rows, as the tensor has, got {tuple(map(len, factors))}")
    _check_ranks([f.shape[1] for f in factors], tensor.shape)
    # yours
    factors = [f.astype(tensor.dtype) for f in factors]
    for mode in range(tensor.ndim):
        smaller = tensor
        for n in range(tensor.ndim):
            if n != mode:
                smaller = mode_product(smaller, factors[n].T, n)
        u = np.linalg.svd(unfold(smaller, mode), full_matrices=True)[0]
        factors[mode] = u[:, : factors[mode].shape[1]]
    return Tucker(multi_mode_product(tensor, [f.T for f in factors]), tuple(factors))


def hooi(tensor: NWay, ranks: Sequence[int], *, tol: float = 1e-8, max_sweeps: int = 100) -> TuckerFit:
    """Improve a truncated HOSVD by sweeps of higher-order orthogonal iteration."""
    # given: the checks
    if not tol >= 0:
        raise ValueError(f"tol must be 0 or more, got {tol}")
    if max_sweeps != int(max_sweeps) or max_sweeps < 1:
        raise ValueError(f"max_sweeps must be a whole number above 0, got {max_sweeps}")
    tensor = _tensor(tensor)
    _check_ranks(ranks, tensor.shape)
    # yours
    tucker = hosvd(tensor, ranks)
    errors, gain = [relative_error(tensor, tucker.core)], np.inf
    for _ in range(max_sweeps):
        tucker = hooi_sweep(tensor, tucker.factors)
        errors.append(relative_error(tensor, tucker.core))
        gain = errors[-2] - errors[-1]
        if gain < tol:
            break
    return TuckerFit(tucker, np.array(errors), bool(gain < tol))


def choose_ranks(tensor: NWay, tolerance: float) -> tuple[int, ...]:
    r"""Return the least ranks with which each mode drops no more than its share, equation (11)."""
    # given: the checks
    tensor = _tensor(tensor)
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance must be above 0 and below 1, got {tolerance}")
    # yours
    tensor = tensor / np.abs(tensor).max()
    share, ranks = tolerance**2 / tensor.ndim * float((tensor**2).sum()), []
    for mode in range(tensor.ndim):
        s = np.linalg.svd(unfold(tensor, mode), compute_uv=False)
        rank = len(s)
        while rank > 1 and float((s[rank - 1 :] ** 2).sum()) <= share:
            rank -= 1
        ranks.append(rank)
    return tuple(ranks)


def compression_ratio(shape: Sequence[int], ranks: Sequence[int]) -> float:  # given
    """Return how many times less numbers the core and the factors have than the tensor, equation (12)."""
    _check_ranks(ranks, tuple(shape))
    stored = np.prod(ranks) + sum(n * r for n, r in zip(shape, ranks, strict=True))
    return float(np.prod(shape) / stored)
