"""The matrix of (5) factored at once, loops over entries, residuals in vectors of all."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lu_factor, lu_solve

from mlpath.optim._constrained import ConstrainedResult

CONVERGED = "converged: the residuals and the products of slacks and multipliers are within tol"
INFEASIBLE = "stopped: the multipliers prove that no point is feasible"
UNBOUNDED = "stopped: the objective falls for ever along x, if anything is feasible"
OUT_OF_STEPS = "stopped: max_iter steps were made before that"
BROKEN = "stopped: the numbers became too large or too small to go on"


@dataclass(frozen=True)
class Iterate:
    """Where the method is; or a step from there."""

    x: np.ndarray
    s: np.ndarray
    nu: np.ndarray
    lam: np.ndarray


@dataclass(frozen=True)
class Residuals:
    """By how much the conditions fail."""

    dual: np.ndarray
    equality: np.ndarray
    inequality: np.ndarray
    mu: float


def _moved(at, step, length):
    return Iterate(*(getattr(at, name) + length * getattr(step, name) for name in ("x", "s", "nu", "lam")))


def residuals(program, at):
    """Stack the constraints."""
    rows = np.vstack([program.A, program.G])
    slope = at.x @ program.P + program.q + np.append(at.nu, at.lam) @ rows
    left = rows @ at.x - np.append(program.b, program.h)
    k = len(program.b)
    mu = float(np.mean(at.s * at.lam)) if len(at.s) else 0.0
    return Residuals(slope, left[:k], left[k:] + at.s, mu)


def reduced_solver(program, weights):
    """Factor the symmetric matrix with a little more on its diagonal, and less below."""
    n, k = len(program.q), len(program.b)
    matrix = np.block(
        [[program.P + program.G.T @ np.diag(weights) @ program.G, program.A.T], [program.A, np.zeros((k, k))]]
    )
    size = abs(np.diag(matrix)[:n])
    scale = size.max() or 1.0
    lower = abs(program.A).max(initial=0.0) ** 2 / scale
    raised = np.append(1e-12 * size + 1e-14 * scale, np.full(k, -1e-13 * lower))
    factors = lu_factor(matrix + np.diag(raised))

    def solve(u, v):
        right = np.append(u, v)
        found = lu_solve(factors, right)
        for _ in range(3):
            found = found + lu_solve(factors, right - matrix @ found)
        return found[:n], found[n:]

    return solve


def direction(program, at, solver, products):
    """Eliminate the multipliers first, as they would be for ds = -r_i."""
    off = residuals(program, at)
    base = -(products - at.lam * off.inequality) / at.s
    dx, dnu = solver(-(off.dual + program.G.T @ base), -off.equality)
    moved = program.G @ dx
    return Iterate(dx, -(off.inequality + moved), dnu, base + at.lam / at.s * moved)


def step_length(at, step, share):
    """Look at one number after the other."""
    length = 1.0
    for value, change in [*zip(at.s, step.s), *zip(at.lam, step.lam)]:
        if change < 0:
            length = min(length, -share * value / change)
    return float(length)


def starting_point(program):
    """Raise by a function of its own."""

    def positive(z):
        return z + (1 - min(z)) if len(z) and min(z) <= 0 else z

    x, nu = reduced_solver(program, np.ones(len(program.h)))(program.h @ program.G - program.q, program.b)
    over = program.G @ x - program.h
    return Iterate(x, positive(-over), nu, positive(over))


def predictor_corrector(program, at):
    """Measure mu without making the trial."""
    solver, m = reduced_solver(program, at.lam / at.s), max(1, len(at.s))
    one = direction(program, at, solver, at.s * at.lam)
    a = step_length(at, one, 1)
    now, then = at.s @ at.lam / m, (at.s + a * one.s) @ (at.lam + a * one.lam) / m
    target = now * (then / now) ** 3 if now > 0 else 0.0
    two = direction(program, at, solver, at.s * at.lam + one.s * one.lam - target)
    return _moved(at, two, step_length(at, two, 0.99))


def certificate(program, at, *, tol=1e-7):
    """Divide by t."""
    t = -(at.nu @ program.b + at.lam @ program.h)
    if t > 0 and max(abs((at.nu @ program.A + at.lam @ program.G) / t)) <= tol:
        return INFEASIBLE
    t = -(at.x @ program.q)
    ends = np.concatenate([abs(program.P @ at.x), abs(program.A @ at.x), program.G @ at.x])
    return UNBOUNDED if t > 0 and (ends / t <= tol).all() else None


def solve(program, *, tol=1e-8, max_iter=100, record_path=False):
    """Loop over the steps, and leave where there is a reason."""
    if not 0 < tol < np.inf or not max_iter >= 1:
        raise ValueError(f"tol must be positive and max_iter at least 1, got {tol}, {max_iter}")
    if not np.isfinite(program.q).all():
        raise ValueError("q must be finite")
    if (program.P != program.P.T).any() or (np.linalg.eigvalsh(program.P) < -1e-9 * abs(program.P).max()).any():
        raise ValueError("P must be symmetric and have no negative eigenvalue")
    at, message = starting_point(program), OUT_OF_STEPS
    path = [at.x]
    for nit in range(max_iter + 1):
        off = residuals(program, at)
        primal = max([0.0, *abs(off.equality), *abs(off.inequality)]) / (
            1 + max([0.0, *abs(program.b), *abs(program.h)])
        )
        dual = abs(off.dual).max() / (1 + abs(program.q).max())
        if max(primal, dual, at.s @ at.lam / (1 + abs(program.fun(at.x)))) <= tol:
            message = CONVERGED
        elif found := certificate(program, at):
            message = found
        if message != OUT_OF_STEPS or nit == max_iter:
            break
        at = predictor_corrector(program, at)
        path.append(at.x)
    return ConstrainedResult(
        at.x,
        program.fun(at.x),
        nit,
        nit + 1,
        message == CONVERGED,
        message,
        np.array(path) if record_path else None,
        equality_multipliers=at.nu,
        inequality_multipliers=at.lam,
        violation=program.violation(at.x),
    )
