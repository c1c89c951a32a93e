"""Outer products by einsum, probabilities by complements, an explicit check of eigenvalues before a general solver."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

Vector = Float[np.ndarray, " dim"]
Matrix = Float[np.ndarray, "dim dim"]


def gaussian_score(x: np.ndarray, mean: float, log_scale: float) -> Float[np.ndarray, "n_samples 2"]:
    _refuse(x, "x", 1)
    _refuse(np.array([mean]), "mean", 1)
    _refuse(np.array([log_scale]), "log_scale", 1)
    precision = float(np.exp(-log_scale))
    scores = np.empty((len(x), 2), dtype=x.dtype)
    scores[:, 0] = (x - mean) * precision * precision
    scores[:, 1] = ((x - mean) * precision - 1) * ((x - mean) * precision + 1)
    return scores


def second_moment(scores: np.ndarray, weights: np.ndarray | None = None) -> Matrix:
    _refuse(scores, "scores", 2)
    if weights is None:
        return np.einsum("ni,nj->ij", scores, scores) / len(scores)
    if weights.shape != (len(scores),) or not (weights >= 0).all() or not abs(weights.sum() - 1) < 1e-6:
        raise ValueError(f"weights must be probabilities, got {weights}")
    return np.einsum("n,ni,nj->ij", weights, scores, scores)


def softmax_fisher(logits: np.ndarray) -> Matrix:
    _refuse(logits, "logits", 1)
    odds = np.exp(logits - np.max(logits))
    total = odds.sum()
    fisher = -odds[:, None] * odds[None, :] / total**2
    for i in range(len(odds)):
        fisher[i, i] = odds[i] / total * np.delete(odds, i).sum() / total
    return fisher


def logistic_fisher(features: np.ndarray, weights: np.ndarray) -> Matrix:
    _refuse(features, "features", 2)
    _refuse(weights, "weights", 1)
    if features.shape[1] != len(weights):
        raise ValueError(f"weights must have length {features.shape[1]}, got {len(weights)}")
    with np.errstate(over="ignore"):
        variance = 0.25 / np.cosh(features @ weights / 2) ** 2
    return np.mean([v * np.outer(x, x) for v, x in zip(variance, features)], axis=0)


def pull_back(fisher: np.ndarray, jacobian: np.ndarray) -> Matrix:
    if fisher.shape != (len(jacobian), len(jacobian)):
        raise ValueError(f"fisher must be square and fit, got {fisher.shape}")
    _refuse(jacobian, "jacobian", 2)
    return np.einsum("ia,ij,jb->ab", jacobian, fisher, jacobian)


def gaussian_expectations(natural: np.ndarray) -> tuple[Vector, Matrix]:
    if natural.shape != (2,) or not np.isfinite(natural).all() or natural[1] >= 0:
        raise ValueError(f"natural must be two numbers, the second negative, got {natural}")
    first, second = natural
    mean = -first / (2 * second)
    means = np.array([mean, mean**2 - 1 / (2 * second)])
    slope = first / (2 * second**2)
    return means, np.array([[-1 / (2 * second), slope], [slope, 2 * mean * slope + 1 / (2 * second**2)]])


def natural_step(gradient: np.ndarray, fisher: np.ndarray, *, damping: float = 0.0) -> Vector:
    if not 0 <= damping < np.inf:
        raise ValueError(f"damping must be non-negative, got {damping}")
    if fisher.shape != (len(gradient), len(gradient)):
        raise ValueError(f"fisher must fit the gradient, got {fisher.shape}")
    matrix = fisher.copy()
    matrix[np.diag_indices(len(gradient))] += damping
    values, axes = np.linalg.eigh(matrix)
    if not values[0] > 0:
        raise np.linalg.LinAlgError("fisher is not positive definite")
    return -axes @ (axes.T @ gradient / values)


def minimize(
    fun: Objective,
    grad: Gradient,
    fisher,
    start: ArrayLike,
    *,
    step_size: float = 1.0,
    damping: float = 0.0,
    tol: float = 1e-6,
    max_iter: int = 100,
    record_path: bool = False,
) -> OptimizeResult:
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    if not 0 <= damping < np.inf:
        raise ValueError(f"damping must be non-negative, got {damping}")
    grad, nit, path = checked_gradient(grad), 0, [x]
    while True:
        value, gradient = float(fun(x)), grad(x)
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        if message is not None:
            break
        matrix = np.asarray(fisher(x), dtype=x.dtype)
        if matrix.shape != (len(x), len(x)) or not np.isfinite(matrix).all():
            raise ValueError(f"fisher must be a finite matrix that fits, got {matrix}")
        x, nit = x + step_size * natural_step(gradient, matrix, damping=damping), nit + 1
        path.append(x)
    points = np.array(path) if record_path else None
    return OptimizeResult(x, value, nit, nit + 1, message == CONVERGED, message, points)


def _refuse(array: np.ndarray, name: str, rank: int) -> None:
    if array.ndim != rank or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must have {rank} axes and finite numbers, got {array}")
