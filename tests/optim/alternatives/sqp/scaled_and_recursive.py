"""Blocks put in one by one, least squares for the correction, a list of trials."""

from dataclasses import dataclass

import numpy as np

from mlpath.optim._constrained import ConstrainedResult
from mlpath.optim._programs import program
from mlpath.optim.bfgs import curvature_holds, damped_change, update_matrix
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.interior_point import solve
from mlpath.optim.kkt import Local, Multipliers, kkt_residuals, look

CONVERGED = "converged: the conditions of Karush, Kuhn and Tucker hold within tol"
INFEASIBLE = "stopped: to first order, no step makes the violation smaller"
DIVERGED = "diverged: x is larger than 1e10"
STALLED = "stopped: no step along the direction lowers the merit function"
OUT_OF_STEPS = "stopped: max_iter steps were made before that"
LARGEST = 1e4


@dataclass(frozen=True)
class Step:
    """What a subproblem says."""

    d: np.ndarray
    multipliers: Multipliers
    elastic: bool


@dataclass(frozen=True)
class Trial:
    """Where a search has ended."""

    x: np.ndarray
    local: Local
    nfev: int


def subproblem(local, matrix):
    """Put (1) into the form of a program."""
    sides = {"A": local.equality_jacobian, "b": 0 - local.equalities}
    return program(local.gradient, P=matrix, **sides, G=local.inequality_jacobian, h=0 - local.inequalities)


def elastic(problem, weight):
    """Fill the blocks of (2) one by one."""
    n, k, m = len(problem.q), len(problem.b), len(problem.h)
    size = n + 2 * k + m
    curvature, rows, walls = np.zeros((size, size)), np.zeros((k, size)), np.zeros((m + 2 * k + m, size))
    curvature[:n, :n], rows[:, :n], walls[:m, :n] = problem.P, problem.A, problem.G
    for j in range(k):
        rows[j, n + j], rows[j, n + k + j] = -1, 1
    for i in range(m):
        walls[i, n + 2 * k + i] = -1
    for i in range(2 * k + m):
        walls[m + i, n + i] = -1
    costs = np.array([*problem.q, *[weight] * (2 * k + m)])
    return program(costs, P=curvature, A=rows, b=problem.b, G=walls, h=[*problem.h, *[0] * (2 * k + m)])


def solve_subproblem(local, matrix, weight):
    """Solve (1), or else (2)."""
    first = subproblem(local, matrix)
    found = solve(first, tol=1e-10, max_iter=25)
    size = 1 + max([0, *abs(first.b), *abs(first.h)])
    prices = max([0, *abs(found.equality_multipliers), *found.inequality_multipliers])
    relaxed = not (found.violation <= 1e-7 * size and prices <= LARGEST)
    if relaxed:
        found = solve(elastic(first, weight), tol=1e-10, max_iter=25)
    factors = Multipliers(found.equality_multipliers, found.inequality_multipliers[: len(first.h)])
    return Step(found.x[: len(first.q)], factors, relaxed)


def merit(local, weight, d=None):
    """Sum violation by violation."""
    value, h, c = local.value, local.equalities, local.inequalities
    if d is not None:
        value = value + d @ local.gradient
        h, c = h + d @ local.equality_jacobian.T, c + d @ local.inequality_jacobian.T
    return float(value + weight * (np.linalg.norm(h, 1) + c[c > 0].sum()))


def next_weight(weight, multipliers):
    """Take the largest as a number."""
    m = max([0.0, *map(abs, multipliers.equality), *map(abs, multipliers.inequality)])
    return 2.0 * m if weight < 1.1 * m else weight


def second_order_correction(local, beyond, multipliers):
    """Solve least squares."""
    m = max([1.0, *abs(multipliers.equality), *abs(multipliers.inequality)])
    rows, values = [*local.equality_jacobian], [*beyond.equalities]
    for i, factor in enumerate(multipliers.inequality):
        if factor > 1e-6 * m:
            rows.append(local.inequality_jacobian[i])
            values.append(beyond.inequalities[i])
    if not rows:
        return np.zeros(len(local.gradient))
    return np.linalg.lstsq(np.array(rows), -np.array(values), rcond=1e-15)[0]


def _at(problem, x):
    local = Local(
        float(problem.fun(x)),
        problem.grad(x),
        problem.equalities(x),
        problem.equality_jacobian(x),
        problem.inequalities(x),
        problem.inequality_jacobian(x),
    )
    return local if all(np.isfinite(part).all() for part in vars(local).values()) else None


def search(problem, x, local, step, weight):
    """Try the full step and its correction first, then the shorter ones."""
    now = merit(local, weight)
    change = merit(local, weight, step.d) - now
    rounding = 10 * np.finfo(float).eps * abs(now)

    def good(trial, share):
        return trial is not None and merit(trial, weight) <= now + 1e-4 * share * change + rounding

    trial, nfev = _at(problem, x + step.d), 1
    if good(trial, 1):
        return Trial(x + step.d, trial, 1)
    if trial is not None and not step.elastic:
        move = step.d + second_order_correction(local, trial, step.multipliers)
        trial, nfev = _at(problem, x + move), 2
        if good(trial, 1):
            return Trial(x + move, trial, 2)
    for k in range(1, 30):
        trial, nfev = _at(problem, x + step.d / 2**k), nfev + 1
        if good(trial, 2.0**-k):
            return Trial(x + step.d / 2**k, trial, nfev)
    return None


def learn(matrix, move, before, after, multipliers):
    """Subtract two Lagrangians' gradients."""
    old, new = (
        local.gradient
        + multipliers.equality @ local.equality_jacobian
        + multipliers.inequality @ local.inequality_jacobian
        for local in (before, after)
    )
    change = damped_change(matrix, move, new - old)
    return update_matrix(matrix, move, change) if curvature_holds(move, change) else matrix


def minimize(problem, start=None, *, tol=1e-7, max_iter=200, record_path=False):
    """Loop with returns in the middle."""
    begin = problem.start if start is None else start
    x = check_arguments(begin, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)
    local, matrix, weight, path, nfev = look(problem, x), np.eye(len(x)), 1.0, [x], 1
    factors = Multipliers(0 * local.equalities, 0 * local.inequalities)

    def result(message):
        return ConstrainedResult(
            x,
            float(problem.fun(x)),
            len(path) - 1,
            nfev,
            message == CONVERGED,
            message,
            np.array(path) if record_path else None,
            equality_multipliers=factors.equality,
            inequality_multipliers=factors.inequality,
            violation=problem.violation(x),
        )

    for _ in range(max_iter):
        price = max(weight, min(10 * weight, LARGEST))
        step = solve_subproblem(local, matrix, price)
        weight = price if step.elastic else next_weight(weight, step.multipliers)
        factors = step.multipliers
        broken = merit(local, 1.0) - local.value
        if step.elastic and weight >= LARGEST and broken > tol:
            left = merit(local, 1.0, step.d) - local.value - local.gradient @ step.d
            if left > (1 - 1e-4) * broken:
                return result(INFEASIBLE)
        trial = search(problem, x, local, step, weight)
        if trial is None or not (trial.x - x).any():
            return result(STALLED)
        matrix = learn(matrix, trial.x - x, local, trial.local, factors)
        x, local, nfev = trial.x, trial.local, nfev + trial.nfev
        path.append(x)
        if max(vars(kkt_residuals(local, factors)).values()) <= tol:
            return result(CONVERGED)
        if abs(x).max() > 1e10:
            return result(DIVERGED)
    return result(OUT_OF_STEPS)
