"""Everything through one vectorised Lp norm along the last axis, scaled by a power of two, which rounds nothing."""

import numpy as np


def _checked(values, name, ndim):
    array = np.asarray(values)
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise ValueError(f"{name} must be real")
    if array.ndim != ndim or array.size == 0 or not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, with {ndim} axes, got shape {array.shape}")
    return array.astype(array.dtype if array.dtype.kind == "f" else float)


def _norms(rows, p):
    if not p >= 1:
        raise ValueError(f"p must be at least 1, got {p}")
    sizes = np.absolute(rows)
    largest = sizes.max(axis=-1, keepdims=True)
    if np.isinf(p):
        return largest[..., 0]
    _, exponent = np.frexp(largest)
    powers = np.ldexp(sizes, -exponent)  # the largest is now between 1/2 and 1
    # A power as high as 1e9 of 1/2 vanishes, so what is left of the scale is divided out as well.
    rest = np.where(largest > 0, powers.max(axis=-1, keepdims=True), 1)
    total = np.power(powers / rest, p).sum(axis=-1)
    return np.ldexp(rest[..., 0] * np.power(total, 1 / p), exponent[..., 0])


def l1_norm(x):
    x = _checked(x, "x", 1)
    return np.dot(np.sign(x), x)


def max_norm(x):
    x = _checked(x, "x", 1)
    return max(x.max(), -x.min())


def l2_norm(x):
    return _norms(_checked(x, "x", 1), 2)


def lp_norm(x, p):
    return _norms(_checked(x, "x", 1), p)


def induced_norm(a, p):
    a = _checked(a, "a", 2)
    if p == 1:
        return _norms(a.T, 1).max()
    if p == np.inf:
        return _norms(a, 1).max()
    raise ValueError(f"p must be 1 or np.inf, got {p}")


def schatten_norm(a, p):
    return _norms(np.linalg.svd(_checked(a, "a", 2))[1], p)


def unit_ball_boundary(angles, p):
    rotations = np.exp(1j * _checked(angles, "angles", 1))
    points = rotations.view(float).reshape(-1, 2)
    return points / _norms(points, p)[:, None]


def equivalence_constants(p, q, n):
    for name, order in (("p", p), ("q", q)):
        if not order >= 1:
            raise ValueError(f"{name} must be at least 1")
    if not (np.isfinite(n) and n >= 1 and n == round(n)):
        raise ValueError(f"n must be a positive whole number, got {n}")
    exponent = 1 / p - 1 / q
    return (1.0, n**exponent) if exponent > 0 else (n**exponent, 1.0)
