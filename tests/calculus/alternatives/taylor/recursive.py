"""Sums written out, multi-indices by recursion, logarithms for the bound, adaptive quadrature, a linear solver for the slope."""

import math
from collections.abc import Callable

import numpy as np
import scipy.integrate
from jaxtyping import Float, Int

Steps = Float[np.ndarray, "n_steps n"]
Numbers = Float[np.ndarray, " n_steps"]


def _finite(values: np.ndarray, name: str, ndim: int) -> np.ndarray:  # given: argument checks
    """Return the values as an array of floats, or raise a ValueError that says what is wrong with them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or array.size == 0 or not np.isfinite(array).all():
        axes = f"{ndim} {'axis' if ndim == 1 else 'axes'}"
        raise ValueError(f"{name} must be an array of real, finite numbers with {axes}, got {values!r}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _derivatives(values: np.ndarray, name: str, steps: np.ndarray, order: int) -> np.ndarray:  # given: argument checks
    """Return the derivatives of an order in as many variables as `steps` has columns."""
    array = _finite(values, name, order)
    if array.shape != (steps.shape[1],) * order:
        raise ValueError(f"{name} must have the shape {(steps.shape[1],) * order}, got {array.shape}")
    return array


def _check_order(order: int) -> None:  # given: argument checks
    """Raise a ValueError unless it is a whole number from 0 on."""
    if order != int(order) or order < 0:
        raise ValueError(f"order must be a whole number, 0 or more, got {order}")


def linear_term(gradient: Float[np.ndarray, " n"], steps: Steps) -> Numbers:
    """Return the share of the first derivatives in an expansion, equations (1) and (2)."""
    # given: the checks
    steps = _finite(steps, "steps", 2)
    gradient = _derivatives(gradient, "gradient", steps, 1)
    # yours
    return np.array([sum(d * g for d, g in zip(step, gradient, strict=True)) for step in steps])


def quadratic_term(hessian: Float[np.ndarray, "n n"], steps: Steps) -> Numbers:
    """Return the share of the second derivatives in an expansion, equations (1) and (2)."""
    # given: the checks
    steps = _finite(steps, "steps", 2)
    hessian = _derivatives(hessian, "hessian", steps, 2)
    # yours
    return np.einsum("si,ij,sj->s", steps, hessian / 2, steps, optimize=True)


def cubic_term(third: Float[np.ndarray, "n n n"], steps: Steps) -> Numbers:
    """Return the share of the third derivatives in an expansion, equations (1) and (2)."""
    # given: the checks
    steps = _finite(steps, "steps", 2)
    third = _derivatives(third, "third", steps, 3)
    # yours
    matrices = np.tensordot(steps, third, axes=1)  # a matrix for each step
    return (((matrices @ steps[:, :, None])[:, :, 0] * steps).sum(axis=1) / 6).astype(steps.dtype)


def multi_indices(n: int, order: int) -> Int[np.ndarray, "n_terms n"]:
    r"""Return all multi-indices of `n` variables up to an order, as above equation (3)."""
    # given: the checks
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    _check_order(order)
    # yours
    if n == 1:
        return np.arange(order + 1)[:, None]
    rows = [[*head, last] for last in range(order + 1) for head in multi_indices(n - 1, order - last)]
    return np.array(sorted(rows, key=sum))


def expansion(partials: Callable[[tuple[int, ...]], float], order: int, steps: Steps) -> Numbers:
    """Return the Taylor polynomial of an order, equation (3)."""
    # given: the checks
    steps = _finite(steps, "steps", 2)
    _check_order(order)
    # yours
    indices = multi_indices(steps.shape[1], order)
    each = [partials(tuple(map(int, alpha))) / math.prod(map(math.factorial, map(int, alpha))) for alpha in indices]
    return (np.prod(steps[:, None, :] ** indices, axis=2) @ np.array(each)).astype(steps.dtype)


def remainder_bound(largest: float, order: int, steps: Steps) -> Numbers:
    """Return how much an expansion misses at most, equation (5). Powers and factorials may be too large for floats alone."""
    # given: the checks
    if not 0 <= largest < np.inf:
        raise ValueError(f"largest must be finite, 0 or more, got {largest}")
    _check_order(order)
    steps = _finite(steps, "steps", 2)
    # yours
    with np.errstate(divide="ignore"):
        logarithm = (order + 1) * np.log(np.linalg.norm(steps, ord=1, axis=1))
    return (largest * np.exp(logarithm - math.lgamma(order + 2))).astype(steps.dtype)


def integral_remainder(derivative: Callable[[float], float], order: int) -> float:
    r"""Return what an expansion misses, by integrating equation (4)."""
    # given: the checks
    _check_order(order)
    if order > 20:
        raise ValueError(f"order must be at most 20, got {order}")
    # yours
    integrand = lambda t: (1 - t) ** order / math.factorial(order) * derivative(t)  # noqa: E731
    return float(scipy.integrate.quad(integrand, 0, 1, epsabs=0, epsrel=1e-11)[0])


def measured_order(
    scales: Float[np.ndarray, " n_scales"], errors: Float[np.ndarray, " n_scales"], floor: float = 0.0
) -> float:
    """Return the slope of errors against scales on logarithmic axes, equation (6)."""
    # given: the checks
    scales, errors = _finite(scales, "scales", 1), _finite(errors, "errors", 1)
    if scales.shape != errors.shape:
        raise ValueError(f"errors must have the shape of scales, {scales.shape}, got {errors.shape}")
    if scales.min() <= 0:
        raise ValueError(f"scales must be positive, got {scales.min()}")
    if not floor >= 0:
        raise ValueError(f"floor must not be negative, got {floor}")
    counts = np.abs(errors) > floor
    if np.unique(scales[counts]).size < 2:
        raise ValueError(f"errors must exceed the floor at two scales at least, got {errors} with the floor {floor}")
    # yours
    line = np.stack([np.log(scales[counts]), np.ones(counts.sum())], axis=1)
    return float(np.linalg.lstsq(line, np.log(np.abs(errors[counts])))[0][0])
