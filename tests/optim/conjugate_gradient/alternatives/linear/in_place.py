"""Plain loops over entries, the classical Gram-Schmidt, a driver that keeps its vectors and the step in one loop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg.lu import back_substitution, forward_substitution
from mlpath.optim._shared import Vector

Operator = Callable[[Vector], Vector]

CONVERGED = "converged: the residual is at most tol times the right-hand side"
OUT_OF_STEPS = "stopped: max_iter steps were made before the residual fell to tol"
NOT_DEFINITE = "stopped: matvec is not positive definite, see `direction`"
BAD_PRECONDITIONER = "stopped: precondition is not positive definite"
NOT_FINITE = "stopped: matvec or precondition returned what is not finite, or overflowed"
DRIFTED = "stopped: the residual carried forward has fallen to tol, the true residual has not"


@dataclass(frozen=True)
class State:
    r"""Where the method is."""

    x: Float[np.ndarray, " dim"]
    residual: Float[np.ndarray, " dim"]
    direction: Float[np.ndarray, " dim"]
    rho: float


@dataclass(frozen=True)
class CGResult:
    """What a solution by conjugate gradients ended with."""

    x: Float[np.ndarray, " dim"]
    nit: int
    residual_norms: Float[np.ndarray, " n_points"]
    true_residual_norm: float
    success: bool
    message: str
    direction: Float[np.ndarray, " dim"] | None = None
    path: Float[np.ndarray, "n_points dim"] | None = None


def energy_norm(matvec: Operator, v: Float[np.ndarray, " dim"]) -> float:
    r"""Return the length of a vector in the inner product of a positive definite matrix, equation (2)."""
    peak = float(max(abs(v)))
    if peak == 0:
        return 0.0
    product = np.asarray(matvec(v / peak), dtype=float)
    total = sum(float(a) / peak * float(b) for a, b in zip(v, product))
    if total < 0 or np.isnan(total):
        raise ValueError(f"matvec gives the negative square {total}")
    return peak * float(np.sqrt(total))


def conjugate(matvec: Operator, vectors: Float[np.ndarray, "n_vectors dim"]) -> Float[np.ndarray, "n_vectors dim"]:
    """Make vectors conjugate to each other, by Gram and Schmidt's equation (4)."""
    directions, products = [], []
    for v in vectors:
        shares = [float(product @ v) / float(product @ d) for d, product in zip(directions, products)]
        d = v - sum((share * d for share, d in zip(shares, directions)), np.zeros_like(v))
        again = [float(product @ d) / float(product @ e) for e, product in zip(directions, products)]
        d = d - sum((share * e for share, e in zip(again, directions)), np.zeros_like(v))
        directions.append(d)
        products.append(np.array(matvec(d)))
        if not float(d @ products[-1]) > 0:
            raise ValueError("matvec has no curvature along a direction")
    return np.array(directions)


def identity(v: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:  # given
    """Return the vector as it is: the preconditioner that is none."""
    return v


def begin(
    matvec: Operator,
    rhs: Float[np.ndarray, " dim"],
    x: Float[np.ndarray, " dim"],
    precondition: Operator = identity,
) -> State:
    r"""Return the state from which the method starts, by equation (10)."""
    gradient = matvec(x) - rhs
    z = precondition(-gradient)
    return State(x=x, residual=-gradient, direction=z, rho=float(sum(-gradient * z)))


def advance(state: State, product: Float[np.ndarray, " dim"], precondition: Operator = identity) -> State:
    """Take one step, by equations (6) and (7), with (10)."""
    alpha = float(state.rho) / float(sum(state.direction * product))
    x, residual = state.x.copy(), state.residual.copy()
    x += alpha * state.direction
    residual -= alpha * product
    direction = np.array(precondition(residual))
    rho = float(residual @ direction)
    direction += rho / state.rho * state.direction
    return State(x, residual, direction, rho)


def conjugate_gradient(
    matvec: Operator,
    rhs: ArrayLike,
    *,
    start: ArrayLike | None = None,
    precondition: Operator = identity,
    tol: float = 1e-8,
    max_iter: int | None = None,
    record_path: bool = False,
) -> CGResult:
    r"""Solve $A x = b$ for a symmetric positive definite $A$, of which only products with vectors are known."""
    b, x, max_iter = _arguments(rhs, start, tol, max_iter)
    r = b - _checked(matvec, "matvec")(x)
    apply = _checked(precondition, "precondition", copy=True)
    size = float(np.sqrt(b @ b)) or float(np.sqrt(r @ r))
    norms, points, bad, d, old, nit = [float(np.sqrt(r @ r))], [x.copy()], None, np.zeros_like(b), 1.0, 0
    while True:
        z = apply(r) if np.isfinite(norms[-1]) else r
        rho = float(r @ z)
        message = _stopping(norms[-1], tol * size, rho, nit, max_iter)
        if message:
            break
        d = z + (rho / old if nit else 0.0) * d
        product = _checked(matvec, "matvec")(d)
        curvature = float(d @ product)
        if not np.isfinite(curvature):
            message = NOT_FINITE
            break
        if curvature <= 0:
            message, bad = NOT_DEFINITE, d
            break
        x, r, old, nit = x + rho / curvature * d, r - rho / curvature * product, rho, nit + 1
        norms.append(float(np.sqrt(r @ r)))
        if record_path:
            points.append(x)
    true = b - _checked(matvec, "matvec")(x)
    length = float(np.sqrt(true @ true))
    if message == CONVERGED and length > 2 * tol * size:
        message = DRIFTED
    return CGResult(
        x, nit, np.array(norms), length, message == CONVERGED, message, bad, np.array(points) if record_path else None
    )


def chebyshev_bound(condition: float, n_steps: int) -> float:
    r"""Return by how much the energy norm of the error has shrunk at least after some steps, equation (9)."""
    if not 1 <= condition < np.inf:
        raise ValueError(f"condition must be at least 1 and finite, got {condition}")
    if not n_steps >= 0:
        raise ValueError(f"n_steps must not be negative, got {n_steps}")
    bound = 2.0
    for _ in range(n_steps):
        bound *= 1 - 2 / (np.sqrt(condition) + 1)
    return float(bound)


def jacobi(diagonal: Float[np.ndarray, " dim"]) -> Operator:
    """Return the preconditioner that takes the diagonal of $A$ for $M$, for use in (10)."""
    if diagonal.ndim != 1 or not np.all((diagonal > 0) & (diagonal < np.inf)):
        raise ValueError(f"diagonal must be a vector of positive, finite numbers, got {diagonal}")
    inverse = 1 / diagonal
    return lambda residual: np.asarray(inverse * residual, dtype=residual.dtype)


def incomplete_cholesky(matrix: Float[np.ndarray, "dim dim"]) -> Float[np.ndarray, "dim dim"]:
    r"""Return the incomplete Cholesky factor without fill, equation (11)."""
    _check_symmetric(matrix)
    lower = np.zeros_like(matrix)
    for i in range(len(matrix)):
        for j in range(i + 1):
            if matrix[i, j] == 0 and i != j:
                continue
            rest = matrix[i, j] - lower[i, :j] @ lower[j, :j]
            if i == j and not rest > 0:
                raise np.linalg.LinAlgError(f"the pivot of order {i + 1} is {rest}")
            lower[i, j] = np.sqrt(rest) if i == j else rest / lower[j, j]
    return lower


def substitution(lower: Float[np.ndarray, "dim dim"]) -> Operator:  # given
    r"""Return the preconditioner for $M = L L^\top$: two substitutions, forwards and back."""
    return lambda residual: back_substitution(lower.T, forward_substitution(lower, residual))


def _arguments(  # given: argument checks
    rhs: ArrayLike, start: ArrayLike | None, tol: float, max_iter: int | None
) -> tuple[Vector, Vector, int]:
    """Return right-hand side and start as arrays of one type, and the limit of steps, or raise a ValueError."""
    b = np.array(rhs)
    b = b if np.issubdtype(b.dtype, np.floating) else b.astype(float)
    if b.ndim != 1 or not b.size or not np.isfinite(b).all():
        raise ValueError(f"rhs must be a vector of finite numbers, got {rhs}")
    x = np.zeros_like(b) if start is None else np.array(start, dtype=b.dtype)
    if x.shape != b.shape or not np.isfinite(x).all():
        raise ValueError(f"start must be a vector of {len(b)} finite numbers, got {start}")
    if not 0 <= tol < np.inf:
        raise ValueError(f"tol must be non-negative and finite, got {tol}")
    if max_iter is not None and not max_iter >= 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
    return b, x, 10 * len(b) if max_iter is None else max_iter


def _checked(operator: Operator, name: str, copy: bool | None = None) -> Operator:  # given
    """Return the operator with its results in the dtype of the vector, refusing another shape."""
    if operator is identity:
        return operator

    def checked(v: Vector) -> Vector:
        result = np.array(operator(v), dtype=v.dtype, copy=copy)
        if result.shape != v.shape:
            raise ValueError(f"{name} must return shape {v.shape}, got {result.shape}")
        return result

    return checked


def _stopping(norm: float, limit: float, rho: float, nit: int, max_iter: int) -> str:  # given
    """Return the reason to stop, or an empty string to go on."""
    if not (np.isfinite(norm) and np.isfinite(rho)):
        return NOT_FINITE
    if norm <= limit:
        return CONVERGED
    if nit >= max_iter:
        return OUT_OF_STEPS
    return "" if rho > 0 else BAD_PRECONDITIONER


def _check_symmetric(matrix: Float[np.ndarray, "dim dim"]) -> None:  # given
    """Refuse what is not a symmetric matrix."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"matrix must be finite, got {matrix}")
    if abs(matrix - matrix.T).max() > 1e-6 * abs(matrix).max():
        raise ValueError(f"matrix must be symmetric, got {matrix}")
