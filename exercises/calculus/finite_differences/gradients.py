r"""Numerical gradients: slopes in many variables, and the check that every hand-made gradient should pass.

## Idea

A function of many variables has a slope in each direction. The slopes along the axes make the gradient; for several
functions at once they make the Jacobian; slopes of slopes make the Hessian. All of them can be had from values of the
function alone. That is too slow to train with, and it is the best friend of whoever writes a gradient by hand: two
evaluations along a random direction tell whether it is right.

## Maths

**Along a line.** Fix a point $x \in \mathbb{R}^n$ and a direction $d$. Walking along $d$ turns $f$ into a function of
one number, $\varphi(t) = f(x + t d)$, whose slope at 0 is the *directional derivative*. The central difference gives it
with an error of order $h^2$:

$$D_d f(x) = \varphi'(0) \approx \frac{f(x + h d) - f(x - h d)}{2h}. \tag{1}$$

The chain rule gives the same number as

$$D_d f(x) = \nabla f(x)^\top d, \tag{2}$$

so it is linear in $d$: a direction twice as long has twice the slope. Along the axis $e_i$ it is the partial
derivative, so that

$$\nabla f(x)_i \approx \frac{f(x + h_i e_i) - f(x - h_i e_i)}{2 h_i}. \tag{3}$$

For $F : \mathbb{R}^n \to \mathbb{R}^m$ each of the $m$ outputs has a gradient. The *Jacobian* holds them as its rows,
so that it maps steps to changes, $F(x + d) \approx F(x) + J d$:

$$J_{ij} = \frac{\partial F_i}{\partial x_j}. \tag{4}$$

One pair of evaluations moves $x_j$ and sees all outputs change at once: it fills a column.

**Curvature.** Differences of differences give second derivatives. Apply (3) for $x_j$ to (3) for $x_i$:

$$H_{ij} \approx \frac{f(x + h_i e_i + h_j e_j) - f(x + h_i e_i - h_j e_j) - f(x - h_i e_i + h_j e_j) + f(x - h_i e_i - h_j e_j)}{4 h_i h_j}. \tag{5}$$

On the diagonal the two steps run along the same axis, and (5) becomes
$\big( f(x + 2 h_i e_i) - 2 f(x) + f(x - 2 h_i e_i) \big) / (4 h_i^2)$; half that step serves as well:

$$H_{ii} \approx \frac{f(x + h_i e_i) - 2 f(x) + f(x - h_i e_i)}{h_i^2}. \tag{6}$$

Exchanging $i$ and $j$ in (5) changes nothing, so the result is symmetric, as second derivatives are.

If you have the gradient as code, you need not form $H$ at all to know what it does to a vector $v$: the product is how
fast the gradient changes on the way along $v$, which is (1) with $\nabla f$ in place of $f$,

$$H v \approx \frac{\nabla f(x + h v) - \nabla f(x - h v)}{2h}. \tag{7}$$

**How long a step?** Truncation costs $h^2$, rounding $\varepsilon / h$ in first differences: together they are least
near $h = \varepsilon^{1/3}$. In (5) and (6) rounding costs $\varepsilon / h^2$, which moves the best step to
$\varepsilon^{1/4}$. For double precision these are $6 \cdot 10^{-6}$ and $1.2 \cdot 10^{-4}$, leaving some 10 and 7
digits. Both are meant relative to the size of the number that is changed:

$$h_i = h \max(1, |x_i|). \tag{8}$$

In (1) and (7) the whole point moves at once, and $h \max(1, \max_i |x_i|) / \max_i |d_i|$ is how far to walk along $d$:
then no coordinate changes by more than $h \max(1, \max_i |x_i|)$.

**Is this gradient right?** Comparing all of $\nabla f$ with (3) takes $2n$ evaluations; for a network with a million
weights that is too many. By (2) a wrong $g$ differs from the true gradient along almost every direction. So draw some
at random, and compare

$$\frac{|D_d f - g^\top d|}{|D_d f| + |g^\top d|} \tag{9}$$

with rounding: near $10^{-9}$ it is right, near $10^{-2}$ it is not. Dividing makes the number free of units; it is at
most 1. Of several directions the largest counts.

## Worked example

$f(x, y) = x^2 y$ at $(3, 2)$ with $h = 0.1$ for both: gradient and Hessian should be $(12, 9)$ and
$\begin{pmatrix} 4 & 6 \\ 6 & 0 \end{pmatrix}$. By (3):
$(3.1^2 \cdot 2 - 2.9^2 \cdot 2) / 0.2 = (19.22 - 16.82) / 0.2 = 12$ and $(9 \cdot 2.1 - 9 \cdot 1.9) / 0.2 = 9$. Along
$d = (1, -2)$ equation (2) gives $12 - 18 = -6$, and (1) with $h = 0.1$ gives
$(3.1^2 \cdot 1.8 - 2.9^2 \cdot 2.2) / 0.2 = (17.298 - 18.502) / 0.2 = -6.02$. By (6),
$H_{11} = (19.22 - 36 + 16.82) / 0.01 = 4$, and by (5)
$H_{12} = (3.1^2 \cdot 2.1 - 3.1^2 \cdot 1.9 - 2.9^2 \cdot 2.1 + 2.9^2 \cdot 1.9) / 0.04 = (20.181 - 18.259 - 17.661 + 15.979) / 0.04 = 6$.

Somebody claims the gradient $(12, 8)$. Along $(1, -2)$ it promises $-4$ instead of $-6$, and (9) is $2 / 10 = 0.2$.

## Plan

The steps of (8) are given: `scaled_steps` makes one for each variable.

| part | takes | returns | by |
|---|---|---|---|
| `directional_derivative` | $f$, a point, a direction | the slope that way | (1) |
| `gradient` | $f$, a point | the slopes along all axes | (3) |
| `jacobian` | $F$, a point | the slopes of all outputs, one a row | (4) |
| `hessian` | $f$, a point | second derivatives | (5), (6) |
| `hessian_vector_product` | the gradient as code, a point, a vector | the Hessian times it | (7) |
| `gradient_mismatch` | $f$, a gradient as code, a point | the largest mismatch | (9) |

## Pitfalls

- The first entry is right, and each later one is off by a little more.
- All is well at $x$ of size 1, and three digits are left at $10^8$.
- The Jacobian comes out transposed, which no square example with a symmetric Jacobian shows.
- Your function computes in whole numbers, or in float32, so that a small step changes nothing or nearly nothing.
- `gradient_mismatch` calls a right gradient wrong at a critical point, or under a large constant: (9) then compares
  rounding with rounding. Look at another point, drawn at random.
- The Hessian of a function of size $10^6$ with curvature 1 is all noise: rounding goes with $f$, not with what is asked
  for.

## Cost

Evaluations of $f$: 2 for a direction, $2n$ for a gradient or a Jacobian, $2n^2 + 1$ for a Hessian. The gradient as code
is evaluated twice for (7), whatever $n$ is. Automatic differentiation gets the whole gradient for the price of about 4
evaluations.

## Go further

Experiment: let `gradient_mismatch` look at the gradient of a small neural network with ReLU units, at points where a
unit is within $10^{-6}$ of its kink. A stretch goal: a Jacobian with few entries in known places needs far fewer than
$n$ pairs, as columns that share no row can move together [2].

## References

1. Nocedal & Wright (2006), Numerical optimization, section 8.1, https://doi.org/10.1007/978-0-387-40065-5
2. Curtis, Powell & Reid (1974), On the estimation of sparse Jacobian matrices, https://doi.org/10.1093/imamat/13.1.117
3. Pearlmutter (1994), Fast exact multiplication by the Hessian, https://doi.org/10.1162/neco.1994.6.1.147
"""

# 6 parts to write. Test them with: pytest exercises/calculus/finite_differences/gradients.py
# To be written without: scipy.differentiate, scipy.optimize, numpy.gradient, torch.autograd, torch.func, jax

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, " n"]
Function = Callable[[np.ndarray], float]
Map = Callable[[np.ndarray], np.ndarray]

FIRST, SECOND = 1 / 3, 1 / 4  # the powers of the rounding error that make the best steps


def _vector(values: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return the values as a vector of floats, or raise a ValueError that says what is wrong with them."""
    values = np.asarray(values)
    if values.dtype.kind not in "fiu" or values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"{name} must be a vector of real, finite numbers, got {values!r}")
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _along(values: np.ndarray, name: str, x: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return a vector of the shape and precision of `x`."""
    values = _vector(values, name)
    if values.shape != x.shape:
        raise ValueError(f"{name} must have the shape of x, {x.shape}, got {values.shape}")
    return values.astype(x.dtype)


def _checked(
    f: Callable[[np.ndarray], Any], name: str, ndim: int
) -> Callable[[np.ndarray], Any]:  # given: argument checks
    """Return the function with its values checked: finite, and of so many axes."""

    def checked(x: np.ndarray) -> np.ndarray:
        value = np.asarray(f(x))
        if value.ndim != ndim:
            raise ValueError(
                f"{name} must return {'a number' if ndim == 0 else 'a vector'}, got the shape {value.shape}"
            )
        if not np.isfinite(value).all():
            raise ValueError(f"{name} must be finite around x, got {value} at {x}")
        return value

    return checked


def _relative(step: float | None, x: np.ndarray, power: float) -> float:  # given: argument checks
    """Return the relative step: what was asked for, or the best power of the rounding error."""
    if step is None:
        return float(np.finfo(x.dtype).eps) ** power
    if not 0 < step < np.inf:
        raise ValueError(f"step must be positive and finite, got {step}")
    return float(step)


def scaled_steps(x: Vector, relative: float) -> Vector:  # given: equation (8)
    """Return a step for each variable by equation (8), such that adding it to `x` does not round.

    Parameters
    ----------
    x : ndarray
        The point.
    relative : float
        The relative step $h$.

    Returns
    -------
    ndarray
        The steps $h_i$.

    Examples
    --------
    >>> scaled_steps(np.array([0.5, -400.0]), 2.0**-10)
    array([0.00097656, 0.390625  ])
    """
    steps = relative * np.maximum(1, np.abs(x))
    return (x + steps) - x


def step_along(x: Vector, direction: Vector, relative: float) -> float:  # given: equation (8) for a whole line
    """Return how far to walk along a direction that is not zero, by what the note says after equation (8).

    Parameters
    ----------
    x : ndarray
        The point.
    direction : ndarray
        The direction.
    relative : float
        The relative step $h$.

    Returns
    -------
    float
        The factor by which to multiply the direction.

    Examples
    --------
    >>> step_along(np.array([0.5, -400.0]), np.array([8.0, 2.0]), 0.01)
    0.5
    """
    return relative * max(1.0, float(np.abs(x).max())) / float(np.abs(direction).max())


def directional_derivative(f: Function, x: Vector, direction: Vector, step: float | None = None) -> float:
    """Return the slope of a function along a direction by a central difference, equation (1).

    Parameters
    ----------
    f : callable
        Takes a vector and returns a number.
    x : ndarray
        The point.
    direction : ndarray
        The direction $d$. Its length counts: the slope is per unit of $t$ in $x + t d$.
    step : float, optional
        The relative step of equation (8); the cube root of the rounding error if none is given.

    Returns
    -------
    float
        The slope; 0 along the zero vector.

    Raises
    ------
    ValueError
        If `x` or `direction` is not a vector of finite numbers, their shapes differ, `step` is not positive, or `f`
        returns something else than a finite number.

    Examples
    --------
    >>> print(f"{directional_derivative(lambda x: x[0] ** 2 * x[1], np.array([3.0, 2.0]), np.array([1.0, -2.0])):.4f}")
    -6.0000
    """
    # given: the checks
    x, f = _vector(x, "x"), _checked(f, "f", 0)
    direction, relative = _along(direction, "direction", x), _relative(step, x, FIRST)
    raise NotImplementedError("not written yet: directional_derivative")


def gradient(f: Function, x: Vector, step: float | None = None) -> Vector:
    """Return the slopes of a function along all axes by central differences, equation (3).

    Parameters
    ----------
    f : callable
        Takes a vector and returns a number.
    x : ndarray
        The point.
    step : float, optional
        The relative step of equation (8); the cube root of the rounding error if none is given.

    Returns
    -------
    ndarray
        The gradient. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, `step` is not positive, or `f` returns something else than a finite
        number.

    Examples
    --------
    >>> gradient(lambda x: x[0] ** 2 * x[1], np.array([3.0, 2.0])).round(4)
    array([12.,  9.])
    """
    # given: the checks
    x, f = _vector(x, "x"), _checked(f, "f", 0)
    relative = _relative(step, x, FIRST)
    raise NotImplementedError("not written yet: gradient")


def jacobian(f: Map, x: Vector, step: float | None = None) -> Float[np.ndarray, "m n"]:
    """Return the slopes of several functions at once by central differences, equation (4).

    Parameters
    ----------
    f : callable
        Takes a vector of `n` numbers and returns one of `m`.
    x : ndarray
        The point.
    step : float, optional
        The relative step of equation (8); the cube root of the rounding error if none is given.

    Returns
    -------
    ndarray
        The Jacobian: row `i` is the gradient of output `i`. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, `step` is not positive, or `f` returns something else than a vector of
        finite numbers.

    Examples
    --------
    >>> jacobian(lambda x: np.array([x[0] * x[1], x[0], x[1] ** 3]), np.array([3.0, 2.0])).round(4)
    array([[ 2.,  3.],
           [ 1.,  0.],
           [ 0., 12.]])
    """
    # given: the checks
    x, f = _vector(x, "x"), _checked(f, "f", 1)
    relative = _relative(step, x, FIRST)
    raise NotImplementedError("not written yet: jacobian")


def hessian(f: Function, x: Vector, step: float | None = None) -> Float[np.ndarray, "n n"]:
    """Return the second derivatives of a function, equations (5) and (6).

    Parameters
    ----------
    f : callable
        Takes a vector and returns a number.
    x : ndarray
        The point.
    step : float, optional
        The relative step of equation (8); the fourth root of the rounding error if none is given.

    Returns
    -------
    ndarray
        The Hessian, symmetric to the last digit. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, `step` is not positive, or `f` returns something else than a finite
        number.

    Examples
    --------
    >>> hessian(lambda x: x[0] ** 2 * x[1], np.array([3.0, 2.0])).round(4)
    array([[4., 6.],
           [6., 0.]])
    """
    # given: the checks
    x, f = _vector(x, "x"), _checked(f, "f", 0)
    relative = _relative(step, x, SECOND)
    raise NotImplementedError("not written yet: hessian")


def hessian_vector_product(grad: Map, x: Vector, v: Vector, step: float | None = None) -> Vector:
    """Return the Hessian of a function times a vector, from two evaluations of its gradient, equation (7).

    Parameters
    ----------
    grad : callable
        Takes a vector and returns the gradient there.
    x : ndarray
        The point.
    v : ndarray
        The vector, of any length.
    step : float, optional
        The relative step of equation (8); the cube root of the rounding error if none is given.

    Returns
    -------
    ndarray
        The product; 0 for the zero vector. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` or `v` is not a vector of finite numbers, their shapes differ, `step` is not positive, or `grad` returns
        something else than a vector of finite numbers.

    Examples
    --------
    >>> grad = lambda x: np.array([2 * x[0] * x[1], x[0] ** 2])
    >>> hessian_vector_product(grad, np.array([3.0, 2.0]), np.array([1.0, -1.0])).round(4)
    array([-2.,  6.])
    """
    # given: the checks
    x, grad = _vector(x, "x"), _checked(grad, "grad", 1)
    v, relative = _along(v, "v", x), _relative(step, x, FIRST)
    raise NotImplementedError("not written yet: hessian_vector_product")


def gradient_mismatch(f: Function, grad: Map, x: Vector, *, n_directions: int = 10, rng: np.random.Generator) -> float:
    """Return how badly a gradient fits its function along random directions, equation (9).

    Each direction takes two evaluations of the function; the gradient is needed once.

    Parameters
    ----------
    f : callable
        Takes a vector and returns a number.
    grad : callable
        Takes a vector and returns what is said to be the gradient of `f` there.
    x : ndarray
        The point.
    n_directions : int
        How many directions are drawn.
    rng : numpy.random.Generator
        Draws them: from a law that favours no direction, such as independent normal entries.

    Returns
    -------
    float
        The largest mismatch, from 0 to 1; 0 along a direction in which both slopes are 0.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, `n_directions` is below 1, `f` returns something else than a finite
        number, or `grad` something else than a finite vector of the shape of `x`.

    Examples
    --------
    >>> f, wrong = lambda x: np.sum(x**3), lambda x: 2 * x**2
    >>> print(f"{gradient_mismatch(f, wrong, np.array([1.0, 2.0]), rng=np.random.default_rng(0)):.4f}")
    0.2000
    """
    # given: the checks
    x, f = _vector(x, "x"), _checked(f, "f", 0)
    claimed = _along(_checked(grad, "grad", 1)(x), "grad(x)", x)
    if n_directions < 1:
        raise ValueError(f"n_directions must be at least 1, got {n_directions}")
    raise NotImplementedError("not written yet: gradient_mismatch")
