"""One diagonalisation for all step sizes, a for loop, and a projection by an orthonormal basis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.optim.proximal import Prox, soft_threshold

CONVERGED = "converged: both residuals are within their tolerances"
DIVERGED = "diverged: a residual is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the residuals were small"
INFEASIBLE = "stopped: the equations have no solution"


@dataclass(frozen=True)
class State:
    x: Float[np.ndarray, "*shape"]
    z: Float[np.ndarray, "*shape"]
    u: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class AdmmResult:
    x: Float[np.ndarray, "*shape"]
    z: Float[np.ndarray, "*shape"]
    u: Float[np.ndarray, "*shape"]
    rho: float
    nit: int
    success: bool
    message: str
    primal: Float[np.ndarray, " nit"]
    dual: Float[np.ndarray, " nit"]


def step(state: State, prox_f: Prox, prox_g: Prox, *, rho: float, relaxation: float = 1.0) -> State:
    size = rho**-1
    x = prox_f(-(state.u - state.z), size)
    gap = state.u + state.z + relaxation * (x - state.z)
    z = prox_g(gap, size)
    return State(x, z, gap - z)


def residuals(before: State, after: State, rho: float) -> tuple[float, float]:
    def length(difference: np.ndarray) -> float:
        return float(np.sqrt((difference**2).sum()))

    return length(after.z - after.x), length(rho * (before.z - after.z))


def tolerances(state: State, rho: float, *, eps_abs: float, eps_rel: float) -> tuple[float, float]:
    lengths = [float(np.sqrt(np.vdot(a, a))) for a in (state.x, state.z, rho * state.u)]
    relative = np.array([max(lengths[:2]), lengths[2]]) * eps_rel
    return tuple(float(r) for r in relative + eps_abs * state.z.size**0.5)


def balance(state: State, rho: float, primal: float, dual: float) -> tuple[State, float]:
    if dual > 10 * primal:
        return State(state.x, state.z, 2 * state.u), rho / 2
    if 10 * dual < primal:
        return State(state.x, state.z, state.u / 2), 2 * rho
    return state, rho


def admm(
    prox_f: Prox,
    prox_g: Prox,
    start: Float[np.ndarray, "*shape"],
    *,
    rho: float = 1.0,
    relaxation: float = 1.0,
    balance_until: int = 0,
    eps_abs: float = 1e-8,
    eps_rel: float = 1e-6,
    max_iter: int = 1000,
) -> AdmmResult:
    # given: the checks
    _check(start, rho, relaxation, eps_abs, eps_rel, max_iter)
    state = State(start.copy(), start.copy(), 0 * start)
    primals, duals = [], []
    message = OUT_OF_STEPS
    for k in range(1, max_iter + 1):
        if 2 <= k <= balance_until + 1:
            state, rho = balance(state, rho, primals[-1], duals[-1])
        following = step(state, prox_f, prox_g, rho=rho, relaxation=relaxation)
        primal, dual = residuals(state, following, rho)
        primals.append(primal)
        duals.append(dual)
        state = following
        most_primal, most_dual = tolerances(state, rho, eps_abs=eps_abs, eps_rel=eps_rel)
        if not (np.isfinite(primal) and np.isfinite(dual)):
            message = DIVERGED
            break
        if not (primal > most_primal or dual > most_dual):
            message = CONVERGED
            break
    nit, success = len(primals), message == CONVERGED
    return AdmmResult(state.x, state.z, state.u, rho, nit, success, message, np.array(primals), np.array(duals))


def least_squares_prox(
    features: Float[np.ndarray, "n_samples dim"], targets: Float[np.ndarray, " n_samples"], factor: float
) -> Prox:
    # given: the checks
    _check_data("features", features, "targets", targets)
    if not 0 < factor < np.inf:
        raise ValueError(f"factor must be positive and finite, got {factor}")
    _, sizes, axes = np.linalg.svd(features, full_matrices=False)
    curvatures, pull = factor * sizes**2, factor * features.T @ targets

    def prox(v: Float[np.ndarray, " dim"], step_size: float) -> Float[np.ndarray, " dim"]:
        right = v + step_size * pull
        inside = axes @ right
        return right + (inside / (1 + step_size * curvatures) - inside) @ axes

    return prox


def lasso(  # given: your parts together
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alpha: float,
    *,
    relaxation: float = 1.6,
    eps_abs: float = 0.0,
    eps_rel: float = 1e-6,
    max_iter: int = 5000,
) -> AdmmResult:
    prox_f = least_squares_prox(features, targets, 1 / len(targets))
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    return admm(
        prox_f,
        lambda v, a: soft_threshold(v, a * alpha),
        np.zeros(features.shape[1]),
        rho=float((features**2).mean()) or 1.0,
        relaxation=relaxation,
        balance_until=100,
        eps_abs=eps_abs,
        eps_rel=eps_rel,
        max_iter=max_iter,
    )


def basis_pursuit(
    matrix: Float[np.ndarray, "n_rows dim"],
    rhs: Float[np.ndarray, " n_rows"],
    *,
    rho: float = 1.0,
    max_iter: int = 5000,
) -> AdmmResult:
    # given: the checks
    _check_data("matrix", matrix, "rhs", rhs)
    least = np.linalg.lstsq(matrix, rhs)[0]
    if not np.allclose(matrix @ least, rhs, rtol=0, atol=1e-6 * abs(rhs).max()):
        nothing = np.array([])
        return AdmmResult(least, least.copy(), np.zeros(len(least)), rho, 0, False, INFEASIBLE, nothing, nothing)
    _, sizes, axes = np.linalg.svd(matrix, full_matrices=False)
    axes = axes[sizes > 1e-12 * sizes[0]]
    return admm(
        lambda v, step_size: v + (axes @ (least - v)) @ axes,
        lambda v, step_size: v - np.clip(v, -step_size, step_size),
        np.zeros(matrix.shape[1]),
        rho=rho,
        max_iter=max_iter,
    )


def consensus_prox(prox: Prox) -> Prox:

    def all_rows(v: Float[np.ndarray, "n_blocks dim"], step_size: float) -> Float[np.ndarray, "n_blocks dim"]:
        n_blocks = v.shape[0]
        row = prox(sum(v) / n_blocks, step_size / n_blocks)
        return np.ones((n_blocks, 1)) * row

    return all_rows


def consensus(  # given: your parts together
    proxes: Sequence[Prox], prox_g: Prox, start: Float[np.ndarray, " dim"], **options: float
) -> AdmmResult:

    def blocks(v: Float[np.ndarray, "n_blocks dim"], step_size: float) -> Float[np.ndarray, "n_blocks dim"]:
        return np.stack([prox(row, step_size) for prox, row in zip(proxes, v, strict=True)])

    return admm(blocks, consensus_prox(prox_g), np.tile(start, (len(proxes), 1)), **options)  # pyright: ignore[reportArgumentType]


def _check(  # given
    start: np.ndarray, rho: float, relaxation: float, eps_abs: float, eps_rel: float, max_iter: int
) -> None:
    if not start.size or not np.isfinite(start).all():
        raise ValueError(f"start must be finite and not empty, got {start}")
    if not 0 < rho < np.inf:
        raise ValueError(f"rho must be positive and finite, got {rho}")
    if not 0 < relaxation < 2:
        raise ValueError(f"relaxation must lie between 0 and 2, got {relaxation}")
    if not (eps_abs >= 0 and eps_rel >= 0):
        raise ValueError(f"eps_abs and eps_rel must not be negative, got {eps_abs} and {eps_rel}")
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")


def _check_data(name: str, rows: np.ndarray, name_of_values: str, values: np.ndarray) -> None:  # given
    """Refuse what is no matrix with a number for each of its rows."""
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be a matrix of finite numbers, got {rows}")
    if values.shape != rows.shape[:1] or not np.isfinite(values).all():
        raise ValueError(f"{name_of_values} must have a finite number for each of the {len(rows)} rows, got {values}")
