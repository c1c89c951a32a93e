"""Least squares, singular values and mixtures; loops over points."""

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from scipy.optimize import linprog

from mlpath.optim._programs import program

SMALL = 1e-10


@dataclass(frozen=True)
class SupportVectors:
    """A linear support vector machine."""

    weights: np.ndarray
    bias: float
    support: np.ndarray
    gap: float


@dataclass(frozen=True)
class Counterexample:
    """Why a function is not convex."""

    x: np.ndarray
    y: np.ndarray
    excess: float


def dual_function(problem, nu, lam):
    """Insert a least-squares solution of P x = -w into the Lagrangian."""
    for name, prices, offsets in (("nu", nu, problem.b), ("lam", lam, problem.h)):
        if prices.shape != offsets.shape or not np.isfinite(prices).all():
            raise ValueError(f"{name} must be {offsets.shape} finite numbers, got {prices}")
    w = problem.q + nu @ problem.A + lam @ problem.G
    size = (abs(problem.q) + abs(nu) @ abs(problem.A) + abs(lam) @ abs(problem.G)).max() or 1.0
    x = np.linalg.lstsq(problem.P, -w / size, rcond=SMALL)[0] * size
    if any(abs(problem.P @ x + w) > 1e-9 * size):
        return -np.inf
    return problem.fun(x) + (nu @ problem.A + lam @ problem.G) @ x - nu @ problem.b - lam @ problem.h


def duality_gap(problem, x, nu, lam):
    """Compare a point with prices."""
    return problem.fun(x) - dual_function(problem, nu, lam)


def dual_program(problem):
    """Take R from singular values."""
    _, values, rows = np.linalg.svd(problem.P)
    rank = sum(values > SMALL * values.max())
    root = np.sqrt(values[:rank, None]) * rows[:rank]
    n, m = rank + len(problem.b), len(problem.h)
    curvature = np.zeros((n + m, n + m))
    curvature[:rank, :rank] = np.eye(rank)
    signed = np.hstack([np.zeros((m, n)), -np.eye(m)])
    matrix = np.vstack([root, problem.A, problem.G]).T
    return program([*[0] * rank, *problem.b, *problem.h], P=curvature, A=matrix, b=-problem.q, G=signed, h=[0] * m)


def slater(problem):
    """Divide each row by its length instead, where it has one."""
    n, lengths = len(problem.q), np.sqrt((problem.G**2).sum(axis=1))
    if (problem.h[lengths == 0] < 0).any():
        return -np.inf, np.full(n, np.nan)
    rows, h = problem.G[lengths > 0] / lengths[lengths > 0, None], problem.h[lengths > 0] / lengths[lengths > 0]
    equal = {"A_eq": np.hstack([problem.A, np.zeros((len(problem.A), 1))]), "b_eq": problem.b} if len(problem.b) else {}
    inside = {"A_ub": np.hstack([rows, np.ones((len(h), 1))]), "b_ub": h} if len(h) else {}
    found = linprog([*[0] * n, -1], **equal, **inside, bounds=[(None, None)] * n + [(None, 1)])
    return (-found.fun, found.x[:n]) if found.success else (-np.inf, np.full(n, np.nan))


def best_bound(values, constraints):
    """Find the least mixture; its multipliers are the prices."""
    if values.ndim != 1 or not len(values) or constraints.ndim != 2 or len(constraints) != len(values):
        raise ValueError("constraints must have a row for each of the values")
    if not (np.isfinite(values).all() and np.isfinite(constraints).all()):
        raise ValueError("values must be finite")
    m = constraints.shape[1]
    found = linprog(values, constraints.T, np.zeros(m), np.ones((1, len(values))), [1])
    return (found.fun, -found.ineqlin.marginals + 0.0) if found.success else (np.inf, np.full(m, np.nan))


def support_vectors(features, signs, alpha, C):
    """Collect both bounds sample by sample."""
    if not 0 < C < np.inf:
        raise ValueError(f"C must be positive and finite, got {C}")
    if not np.isfinite(features).all():
        raise ValueError("features must be finite")
    if sorted(set(signs)) != [-1, 1]:
        raise ValueError(f"signs must be 1 and -1, got {signs}")
    if min(alpha) < -1e-6 * C or max(alpha) > (1 + 1e-6) * C or max(alpha) <= 1e-6 * C:
        raise ValueError(f"alpha must be between 0 and C, got {alpha}")
    if abs(alpha @ signs) > 1e-6 * C * len(signs):
        raise ValueError("alpha and signs must be orthogonal")
    w = features.T @ (signs * alpha)
    lower, upper = -np.inf, np.inf
    for x, y, a in zip(features, signs, alpha):
        at = y - x @ w
        if a < C - 1e-6 * C:
            lower, upper = (max(lower, at), upper) if y > 0 else (lower, min(upper, at))
        if a > 1e-6 * C:
            lower, upper = (lower, min(upper, at)) if y > 0 else (max(lower, at), upper)
    bias = lower + (upper - lower) / 2
    slack = 1 - signs * (features @ w + bias)
    primal = w @ w / 2 + C * slack[slack > 0].sum()
    return SupportVectors(w, bias, alpha > 1e-6 * C, primal - (alpha.sum() - w @ w / 2))


def _worst(found, limit):
    found = [each for each in found if each.excess > limit]
    return max(found, key=lambda each: each.excess, default=None)


def _checked(points):
    if np.ndim(points) != 2 or not len(points) or not np.isfinite(points).all():
        raise ValueError(f"points must be a matrix of finite numbers, got {points}")
    return points


def above_chord(fun, points):
    """Compare all pairs."""
    values = {i: v for i, v in enumerate(map(fun, _checked(points))) if v < np.inf}
    pairs = [
        Counterexample(points[i], points[j], fun((points[i] + points[j]) / 2) - (values[i] / 2 + values[j] / 2))
        for i, j in combinations(values, 2)
    ]
    return _worst(pairs, SMALL * max(map(abs, values.values()), default=0))


def below_tangent(fun, grad, points):
    """Compare all ordered pairs."""
    values, slopes = [fun(x) for x in _checked(points)], [grad(x) for x in points]
    pairs = [
        Counterexample(points[i], points[j], values[i] - values[j] + slopes[i] @ (points[j] - points[i]))
        for i, j in permutations(range(len(points)), 2)
    ]
    return _worst(pairs, SMALL * max(map(abs, values)))


def bends_down(hess, points):
    """Take one point after the other."""
    spectra = [np.linalg.eigh(hess(x)) for x in _checked(points)]
    bends = [Counterexample(x, vectors.T[0], -values[0]) for x, (values, vectors) in zip(points, spectra)]
    return _worst(bends, SMALL * max(abs(values).max() for values, _ in spectra))
