"""The walk as a generator of points; curvature by spectral norms, not eigenvalues; the line search by a lazy sequence of trials."""

import itertools
from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import OptimizeResult, checked_gradient

CONVERGED = "converged: no component of the gradient exceeds tol"
DIVERGED = "diverged: the objective or its gradient is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the gradient fell to tol"
STALLED = "stopped: no trial step satisfied the Armijo condition"


@dataclass(frozen=True)
class LineSearch:
    step_size: float
    value: float
    nfev: int


def step(x, gradient, step_size):
    return np.add(x, np.multiply(gradient, -step_size))


def check_arguments(start, *, step_size, tol, max_iter):
    start = np.asarray(start)
    x = start.astype(start.dtype if start.dtype.kind == "f" else np.float64, copy=True)
    finite = x.size and np.isfinite(x).all()
    for name, good, value in (
        ("start", x.ndim == 1 and x.size, f"shape {x.shape}"),
        ("start", finite, x),
        ("step_size", np.isfinite(step_size) and step_size > 0, step_size),
        ("tol", np.isfinite(tol) and tol >= 0, tol),
        ("max_iter", max_iter > 0, max_iter),
    ):
        if not good:
            raise ValueError(f"{name} is unusable: {value}")
    return x


def step_limit(hessian):
    _check(hessian)
    return float(2 / np.linalg.norm(hessian, 2))


def contraction(hessian, step_size):
    _check(hessian)
    return float(np.linalg.norm(np.eye(len(hessian)) - step_size * hessian, 2))


def exact_step(hessian, gradient):
    if not gradient.any():
        return 0.0
    exponent = np.frexp(gradient)[1].max()
    unit = np.ldexp(gradient, -exponent)
    slope, curvature = np.einsum("i,i", unit, unit), np.einsum("i,ij,j", unit, hessian, unit)
    if curvature > 0:
        return float(slope / curvature)
    raise ValueError(f"hessian has curvature {curvature} along the gradient")


def backtrack(fun, x, value, gradient, *, step_size=1.0, shrink=0.5, decrease=1e-4, max_trials=60):
    for name, number, top in (("step_size", step_size, np.inf), ("shrink", shrink, 1), ("decrease", decrease, 1)):
        if not 0 < number < top:
            raise ValueError(f"{name} is {number}")
    if max_trials < 1:
        raise ValueError(f"max_trials is {max_trials}")
    slope = decrease * np.dot(gradient, gradient)
    sizes = (step_size * shrink**k for k in range(max_trials))
    trials = ((a, float(fun(x - a * gradient))) for a in sizes)
    for count, (a, found) in enumerate(trials, 1):
        if -np.inf < found < value and found - value <= -a * slope:
            return LineSearch(a, found, count)
    return LineSearch(0.0, value, max_trials)


def stopping(value, gradient, nit, *, tol, max_iter):
    if not np.isfinite([value, *gradient]).all():
        return DIVERGED
    if np.linalg.norm(gradient, np.inf) <= tol:
        return CONVERGED
    if nit < max_iter:
        return None
    return OUT_OF_STEPS


def minimize(
    fun, grad, start, *, rule="fixed", step_size=1.0, hessian=None, tol=1e-6, max_iter=1000, record_path=False
):
    if rule not in {"fixed", "exact", "armijo"}:
        raise ValueError(f"rule {rule!r} is unknown")
    if rule == "exact" and (hessian is None or hessian.shape != (np.size(start),) * 2):
        raise ValueError(f"hessian does not fit: {hessian}")
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    points = list(_walk(fun, grad, x, rule, step_size, hessian, tol, max_iter))
    *_, (x, value, nfev, message) = points
    nit = len(points) - 1
    if message == STALLED:  # the last point is the one before, once more
        points, nit = points[:-1], nit - 1
    path = np.stack([p[0] for p in points]) if record_path else None
    return OptimizeResult(x, value, nit, nfev, message == CONVERGED, message, path)


def _walk(fun, grad, x, rule, step_size, hessian, tol, max_iter):
    value, nfev = float(fun(x)), 1
    for nit in itertools.count():
        gradient = checked_gradient(grad)(x)
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        yield x, value, nfev, message
        if message:
            return
        if rule == "armijo":
            search = backtrack(fun, x, value, gradient, step_size=step_size)
            nfev += search.nfev
            if not search.step_size:
                yield x, value, nfev, STALLED
                return
            x, value = step(x, gradient, search.step_size), search.value
        else:
            x = step(x, gradient, step_size if rule == "fixed" else exact_step(hessian, gradient))
            value, nfev = float(fun(x)), nfev + 1


def _check(hessian):
    if hessian.ndim != 2 or hessian.size == 0 or hessian.shape[0] != hessian.shape[1] or not np.isfinite(hessian).all():
        raise ValueError(f"hessian {hessian}")
    if not np.allclose(hessian, hessian.T):
        raise ValueError(f"hessian {hessian}")
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"hessian {hessian}") from error
