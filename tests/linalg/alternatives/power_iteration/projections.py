"""The iterates come from a generator; solutions by NumPy's solver or an inverse, whose shift is moved a little where it is singular.

No deflated matrix is formed for the top eigenpairs: each product is made orthogonal to the vectors that are known.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Eigenpair:
    value: float
    vector: np.ndarray
    residuals: np.ndarray
    iterations: int
    converged: bool


@dataclass(frozen=True)
class Eigenpairs:
    values: np.ndarray
    vectors: np.ndarray
    iterations: np.ndarray


def _square(a):
    a = np.asarray(a)
    if a.dtype.kind not in "fiu" or a.ndim != 2 or not a.size or a.shape[0] != a.shape[1] or not np.isfinite(a).all():
        raise ValueError(f"a must be a square matrix of finite numbers, got {a}")
    return a if a.dtype.kind == "f" else a.astype(float)


def _vector(x, a, name):
    x = np.asarray(x)
    if x.dtype.kind not in "fiu" or x.shape != (len(a),) or not np.isfinite(x).all() or not x.any():
        raise ValueError(f"{name} must be a vector of {len(a)} finite numbers, not all 0, got {x}")
    return x.astype(a.dtype)


def _finite(number, name):
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")


def _checked(tol, max_iterations, a):
    tol = 10 * len(a) * np.finfo(a.dtype).eps if tol is None else tol
    if not (tol > 0 and math.isfinite(tol)):
        raise ValueError(f"tol must be positive, got {tol}")
    if max_iterations < 1:
        raise ValueError(f"max_iterations must be positive, got {max_iterations}")
    return tol


def _norm(x):
    return math.hypot(*x.ravel().tolist())


def _unit(x):
    # A power of two, so that no digit is lost.
    with np.errstate(all="ignore"):
        x = np.ldexp(x, -int(np.frexp(np.abs(x).max())[1]))
        x = x / np.sqrt((x * x).sum())
    if not np.isfinite(x).all():
        raise np.linalg.LinAlgError("a vector without a direction")
    return x


def _iterates(product, step, x):
    """Yield vector, Rayleigh quotient and the length of the residual, for ever."""
    x = _unit(x)
    while True:
        image = product(x)
        value = float(np.dot(image, x))
        yield x, value, _norm(image - value * x)
        x = _unit(step(x, value))


def _run(product, step, start, size, tol, max_iterations):
    residuals = []
    for x, value, residual in _iterates(product, step, start):
        residuals.append(residual / size if size else 0.0)
        if residuals[-1] <= tol:
            return Eigenpair(value, x, np.array(residuals), len(residuals) - 1, True)
        if len(residuals) > max_iterations:
            return Eigenpair(value, x, np.array(residuals), max_iterations, False)
    raise AssertionError


def rayleigh_quotient(a, x):
    a = _square(a)
    x = _vector(x, a, "x")
    x = x / np.abs(x).max()
    return float(np.einsum("i,ij,j->", x, a, x) / np.square(x).sum())


def iterate(a, step, start, *, tol=None, max_iterations=1000):
    a = _square(a)
    start = _vector(start, a, "start")
    return _run(lambda x: a @ x, step, start, _norm(a), _checked(tol, max_iterations, a), max_iterations)


def power_iteration(a, start, *, shift=0.0, tol=None, max_iterations=1000):
    a = _square(a)
    _finite(shift, "shift")
    shifted = a - shift * np.eye(len(a), dtype=a.dtype)
    return iterate(a, lambda x, _: shifted @ x, start, tol=tol, max_iterations=max_iterations)


def _invert(a, shift, use):
    identity = np.eye(len(a), dtype=a.dtype)
    eps = float(np.finfo(a.dtype).eps)
    for move in (0, 1, 16, 256):
        with np.errstate(all="ignore"):
            try:
                found = use(a - (shift + move * eps * (_norm(a) or 1.0)) * identity)
            except np.linalg.LinAlgError:
                continue
        if np.isfinite(found).all():
            return found
    raise np.linalg.LinAlgError("singular, whatever the shift")


def inverse_iteration(a, start, *, shift=0.0, tol=None, max_iterations=1000):
    a = _square(a)
    _finite(shift, "shift")
    inverse = _invert(a, shift, np.linalg.inv)
    return iterate(a, lambda x, _: inverse @ x, start, tol=tol, max_iterations=max_iterations)


def rayleigh_quotient_iteration(a, start, *, tol=None, max_iterations=50):
    a = _square(a)

    def step(x, value):
        return _invert(a, value, lambda shifted: np.linalg.solve(shifted, x))

    return iterate(a, step, start, tol=tol, max_iterations=max_iterations)


def deflate(a, value, vector, left=None):
    a = _square(a)
    _finite(value, "value")
    vector = _unit(_vector(vector, a, "vector"))
    left = vector if left is None else _unit(_vector(left, a, "left"))
    cosine = sum(s * t for s, t in zip(left, vector, strict=True))
    if abs(cosine) <= len(a) * np.finfo(a.dtype).eps:
        raise np.linalg.LinAlgError("the eigenvectors are orthogonal")
    return np.stack([row - value * entry * (left / cosine) for row, entry in zip(a, vector, strict=True)]).astype(
        a.dtype
    )


def top_eigenpairs(a, k, *, rng, tol=None, max_iterations=1000):
    a = _square(a)
    if np.abs(a - a.T).max() > 100 * np.finfo(a.dtype).eps * np.abs(a).max():
        raise ValueError("a must be symmetric")
    if not 0 < k <= len(a):
        raise ValueError(f"k must be from 1 to {len(a)}, got {k}")
    tol, size = _checked(tol, max_iterations, a), _norm(a)
    found = []

    def without(x):
        for _ in range(2):
            for pair in found:
                x = x - (pair.vector @ x) * pair.vector
        return x

    def product(x):
        return without(a @ x)

    for _ in range(k):
        start = without(_unit(rng.uniform(-1, 1, len(a)).astype(a.dtype)))
        pair = _run(product, lambda x, _: product(x), start, size, tol, max_iterations)
        if not pair.converged:
            raise np.linalg.LinAlgError(f"no convergence in {max_iterations} steps")
        found.append(pair)
    return Eigenpairs(
        np.array([pair.value for pair in found]).astype(a.dtype),
        np.stack([pair.vector for pair in found], axis=1),
        np.array([pair.iterations for pair in found]),
    )


def convergence_ratio(eigenvalues, *, shift=0.0, inverse=False):
    eigenvalues = np.asarray(eigenvalues)
    if eigenvalues.dtype.kind not in "fiuc" or eigenvalues.ndim != 1 or not eigenvalues.size:
        raise ValueError("eigenvalues must be a vector of numbers")
    if not np.isfinite(eigenvalues).all():
        raise ValueError("eigenvalues must be finite")
    _finite(shift, "shift")
    distances = [abs(value - shift) for value in set(eigenvalues.tolist())]
    best = (min if inverse else max)(distances)
    distances.remove(best)
    if not distances:
        return 0.0
    return best / min(distances) if inverse else max(distances) / best
