"""Residuals by loops, free multipliers as differences, MFCQ by its dual."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from mlpath.optim._constrained import ConstrainedProblem
from mlpath.optim._shared import checked_gradient
from mlpath.optim.gradient_descent import check_arguments


@dataclass(frozen=True)
class Local:
    """What a problem says about a point, to first order."""

    value: float
    gradient: Float[np.ndarray, " dim"]
    equalities: Float[np.ndarray, " n_equalities"]
    equality_jacobian: Float[np.ndarray, "n_equalities dim"]
    inequalities: Float[np.ndarray, " n_inequalities"]
    inequality_jacobian: Float[np.ndarray, "n_inequalities dim"]


@dataclass(frozen=True)
class Multipliers:
    r"""The factors in the Lagrangian."""

    equality: Float[np.ndarray, " n_equalities"]
    inequality: Float[np.ndarray, " n_inequalities"]


@dataclass(frozen=True)
class Residuals:
    """By how much each of the four conditions fails: equation (3). All are at least 0."""

    stationarity: float
    feasibility: float
    sign: float
    complementarity: float


@dataclass(frozen=True)
class Certificate:
    """What can be said about a point."""

    verdict: str
    failures: dict[str, float]
    residuals: Residuals
    multipliers: Multipliers
    active: Bool[np.ndarray, " n_inequalities"]
    qualification: str
    curvature: Float[np.ndarray, " n_free"]


def look(problem: ConstrainedProblem, x: ArrayLike) -> Local:  # given: the problem at a point
    """Return what a problem says about a point."""
    x = check_arguments(x, step_size=1.0, tol=1.0, max_iter=1).astype(float)
    local = Local(
        float(problem.fun(x)),
        checked_gradient(problem.grad)(x),
        *(
            np.asarray(function(x), dtype=float)
            for function in (
                problem.equalities,
                problem.equality_jacobian,
                problem.inequalities,
                problem.inequality_jacobian,
            )
        ),
    )
    for name, values, jacobian in (
        ("equality_jacobian", local.equalities, local.equality_jacobian),
        ("inequality_jacobian", local.inequalities, local.inequality_jacobian),
    ):
        if values.ndim != 1 or jacobian.shape != (len(values), len(x)):
            raise ValueError(f"{name} must have a row for each of {values.shape} constraints, got {jacobian.shape}")
    for name, values in vars(local).items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite at x, got {values}")
    return local


def _slopes(jacobian: Float[np.ndarray, "n_constraints dim"]) -> Float[np.ndarray, " n_constraints"]:  # given: r_i
    """Return the sizes of the constraints' gradients, at least 1."""
    return abs(jacobian).max(axis=1, initial=1.0)


def _check_multipliers(local: Local, multipliers: Multipliers) -> None:  # given: argument checks
    """Refuse multipliers that do not fit the constraints."""
    for name, values in (("equalities", multipliers.equality), ("inequalities", multipliers.inequality)):
        expected = getattr(local, name).shape
        if values.shape != expected or not np.isfinite(values).all():
            raise ValueError(f"multipliers of the {name} must be {expected} finite numbers, got {values}")


def kkt_residuals(local: Local, multipliers: Multipliers) -> Residuals:
    """Return by how much each of the four conditions (2) fails: equation (3)."""
    _check_multipliers(local, multipliers)
    size = max([1.0, *abs(local.gradient)])
    slope = local.gradient.copy()
    feasibility = sign = complementarity = 0.0
    for nu, value, row in zip(multipliers.equality, local.equalities, local.equality_jacobian):
        slope = slope + nu * row
        feasibility = max(feasibility, abs(value) / max([1.0, *abs(row)]))
    for lam, value, row in zip(multipliers.inequality, local.inequalities, local.inequality_jacobian):
        slope = slope + lam * row
        steep = max([1.0, *abs(row)])
        feasibility = max(feasibility, value / steep)
        sign = max(sign, -lam * steep / size)
        complementarity = max(complementarity, abs(lam * value) / max(1.0, abs(local.value)))
    return Residuals(float(max(abs(slope))) / size, float(feasibility), float(sign), float(complementarity))


def active_set(local: Local, *, tol: float = 1e-6) -> Bool[np.ndarray, " n_inequalities"]:
    r"""Return which inequalities count as active: those with $g_i \ge -\text{tol}\; r_i$."""
    return np.array(
        [g >= -tol * max([1.0, *abs(row)]) for g, row in zip(local.inequalities, local.inequality_jacobian)], bool
    )


def estimate_multipliers(local: Local, active: Bool[np.ndarray, " n_inequalities"]) -> Multipliers:
    """Return the multipliers that come nearest to stationarity: equation (5)."""
    # the free multipliers as differences of two non-negative ones
    n_equalities = len(local.equalities)
    rows = np.vstack([local.equality_jacobian, -local.equality_jacobian, local.inequality_jacobian[active]])
    found = nnls(rows.T, -local.gradient)[0] if len(rows) else np.zeros(0)
    inequality = np.zeros(len(active))
    inequality[active] = found[2 * n_equalities :]
    return Multipliers(found[:n_equalities] - found[n_equalities : 2 * n_equalities], inequality)


def constraint_qualification(local: Local, active: Bool[np.ndarray, " n_inequalities"]) -> str:
    """Return the strongest constraint qualification that holds at a point."""
    equal, pressing = _unit(local.equality_jacobian), _unit(local.inequality_jacobian[active])
    if np.linalg.matrix_rank(np.vstack([equal, pressing])) == len(equal) + len(pressing):
        return "LICQ"
    if np.linalg.matrix_rank(equal) < len(equal):
        return "none"
    # the dual: no combination of the active rows with factors of sum 1 vanishes on the null space of the equalities
    basis = np.linalg.svd(equal)[2][len(equal) :].T
    columns = np.vstack([basis.T @ pressing.T, np.ones(len(pressing))])
    rest = nnls(columns, np.eye(len(columns))[-1])[1]
    return "MFCQ" if rest > 1e-8 else "none"


def fritz_john(local: Local, active: Bool[np.ndarray, " n_inequalities"]) -> tuple[float, Multipliers, float]:
    r"""Return multipliers of Fritz John's condition, the objective's among them: equation (8)."""
    basis = np.linalg.svd(local.equality_jacobian)[2][np.linalg.matrix_rank(local.equality_jacobian) :].T
    forces = np.column_stack([local.gradient, local.inequality_jacobian[active].T])
    weights, _ = nnls(np.vstack([basis.T @ forces, np.ones(forces.shape[1])]), np.append(np.zeros(basis.shape[1]), 1.0))
    weights = weights / weights.sum()
    equality = np.linalg.lstsq(local.equality_jacobian.T, -forces @ weights, rcond=None)[0]
    inequality = np.zeros(len(active))
    inequality[active] = weights[1:]
    rest = weights[0] * local.gradient + local.inequality_jacobian.T @ inequality + local.equality_jacobian.T @ equality
    return float(weights[0]), Multipliers(equality, inequality), float(abs(rest).max())


def second_order(
    local: Local,
    hessian: Float[np.ndarray, "dim dim"],
    multipliers: Multipliers,
    active: Bool[np.ndarray, " n_inequalities"],
    *,
    tol: float = 1e-6,
) -> tuple[str, Float[np.ndarray, " n_free"]]:
    r"""Return what the second derivatives say about a point where (2) holds: equation (9)."""
    size = max(1.0, abs(local.gradient).max())
    slopes = _slopes(local.inequality_jacobian)
    pressing = np.array([a and lam * r > tol * size for a, lam, r in zip(active, multipliers.inequality, slopes)], bool)
    rows = _unit(np.vstack([local.equality_jacobian, local.inequality_jacobian[pressing]]))
    rank = np.linalg.matrix_rank(rows)
    basis = np.linalg.eigh(rows.T @ rows)[1][:, : len(hessian) - rank]
    eigenvalues = np.linalg.eigvalsh(basis.T @ hessian @ basis)
    zero = tol * abs(hessian).max()
    if len(eigenvalues) == 0 or eigenvalues[0] > zero:
        return "minimum", eigenvalues
    if eigenvalues[0] >= -zero or pressing.sum() < active.sum():
        return "undecided", eigenvalues
    return "saddle" if constraint_qualification(local, active) == "LICQ" else "undecided", eigenvalues


def gap_bound(local: Local, multipliers: Multipliers, radius: float) -> float:
    r"""Return how far at most the objective is above its minimum, if the problem is convex: from equation (10)."""
    _check_multipliers(local, multipliers)
    if (multipliers.inequality < 0).any():
        raise ValueError("multipliers of inequalities must not be negative")
    if not 0 <= radius < np.inf:
        raise ValueError("radius must be non-negative and finite")
    rows = np.vstack([local.equality_jacobian, local.inequality_jacobian])
    factors = np.concatenate([multipliers.equality, multipliers.inequality])
    lower = local.value + factors @ np.concatenate([local.equalities, local.inequalities])
    lower = lower - radius * np.linalg.norm(local.gradient + factors @ rows)
    return float(local.value - lower)


def certify(
    problem: ConstrainedProblem,
    x: ArrayLike,
    multipliers: Multipliers | None = None,
    *,
    tol: float = 1e-6,
    active_tol: float = 1e-6,
) -> Certificate:
    """Judge whether a point is a local minimum, and say which conditions fail by how much."""
    # given: the checks, and the second derivatives of the Lagrangian
    local = look(problem, x)
    if not (tol > 0 and active_tol > 0):
        raise ValueError(f"tol and active_tol must be positive, got {tol} and {active_tol}")

    def curvature(nu: Float[np.ndarray, " n_equalities"], lam: Float[np.ndarray, " n_inequalities"]) -> np.ndarray:
        return np.asarray(problem.lagrangian_hess(np.array(x, dtype=float), nu, lam))

    # yours
    active = active_set(local, tol=active_tol)
    multipliers = estimate_multipliers(local, active) if multipliers is None else multipliers
    residuals = kkt_residuals(local, multipliers)
    failures = {name: amount for name, amount in vars(residuals).items() if amount > tol}
    qualification = constraint_qualification(local, active)
    hessian = curvature(multipliers.equality, multipliers.inequality)
    verdict, eigenvalues = second_order(local, hessian, multipliers, active, tol=tol)
    if "feasibility" in failures:
        verdict = "infeasible"
    elif failures:
        verdict = "unqualified" if qualification == "none" else "not a minimum"
    return Certificate(verdict, failures, residuals, multipliers, active, qualification, eigenvalues)


def _unit(rows: Float[np.ndarray, "n_rows dim"]) -> Float[np.ndarray, "n_rows dim"]:  # given: directions
    """Return rows divided by their largest entries, so that only their directions count; zeros stay zeros."""
    sizes = abs(rows).max(axis=1, keepdims=True)
    return rows / np.where(sizes > 0, sizes, 1)
