r"""Taylor expansion in several variables: models of a function near a point, and how wrong they are.

## Idea

Near a point a smooth function looks like a plane, nearer still like a paraboloid laid on that plane, and so on: each
further order of derivatives corrects what the ones before left over. Gradient descent trusts the plane and Newton's
method the paraboloid; Laplace's approximation replaces a posterior by one, and most error bars are made from the first
term. What they leave out is the remainder. It can be bounded before it is computed, it can be written as an integral,
and its order can be measured: that is how you find out whether a derivative is right.

## Maths

**Along a line.** Walk from $a \in \mathbb{R}^n$ along the step $d$: $\varphi(t) = f(a + t d)$ is a function of one
number. Its derivatives at 0 are sums over all axes, by the chain rule once for each order:

$$\varphi'(0) = \sum_i \frac{\partial f}{\partial x_i} d_i, \qquad \varphi''(0) = \sum_{i,j} H_{ij}\, d_i d_j, \qquad
\varphi'''(0) = \sum_{i,j,k} T_{ijk}\, d_i d_j d_k, \tag{1}$$

where $H$ holds the second and $T$ the third derivatives at $a$. The expansion of $\varphi$ from 0 to 1 is that of $f$:

$$f(a + d) = f(a) + \varphi'(0) + \frac{\varphi''(0)}{2} + \frac{\varphi'''(0)}{6} + \dots, \tag{2}$$

each term divided by the factorial of its order.

**Multi-indices.** The sums in (1) contain the same product many times: $d_1 d_2$ and $d_2 d_1$ both stand in the
second. Let $\alpha = (\alpha_1, \dots, \alpha_n)$ count how often each axis occurs, $|\alpha| = \sum_i \alpha_i$ be its
order, $\alpha! = \prod_i \alpha_i!$ and $d^\alpha = \prod_i d_i^{\alpha_i}$. A product with the counts $\alpha$ occurs
$|\alpha|! / \alpha!$ times, and dividing by $|\alpha|!$ leaves

$$f(a + d) \approx \sum_{|\alpha| \le k} \frac{D^\alpha f(a)}{\alpha!}\, d^\alpha. \tag{3}$$

There are $\binom{n + k}{k}$ multi-indices up to order $k$. The right side is the only polynomial of that degree which
has all derivatives of $f$ at $a$ up to order $k$; if $f$ is such a polynomial itself, it is equal to it everywhere.

**What is left over.** The fundamental theorem says $f(a + d) = f(a) + \int_0^1 \varphi'(t)\, dt$, and integrating by
parts $k$ times gives

$$R_k = \frac{1}{k!} \int_0^1 (1 - t)^k\, \varphi^{(k+1)}(t)\, dt, \tag{4}$$

no more and no less than what the expansion of order $k$ misses. If every derivative of order $k + 1$ is at most $M$ in
absolute value all along the line, then $|\varphi^{(k+1)}(t)| \le M \left( \sum_i |d_i| \right)^{k+1}$ by a sum like
(1), and (4) gives

$$|R_k| \le \frac{M}{(k+1)!} \left( |d_1| + \dots + |d_n| \right)^{k+1}. \tag{5}$$

**Order.** Halve the step, and the remainder shrinks by a factor of $2^{k+1}$: on logarithmic scales error against size
is a line whose slope is

$$\text{order} = \frac{\sum_j (u_j - \bar u)(w_j - \bar w)}{\sum_j (u_j - \bar u)^2}, \qquad u_j = \log s_j, \quad w_j = \log |R(s_j d)|, \tag{6}$$

by least squares over several scales $s_j$. It should come out near $k + 1$. If it is less, one of the derivatives is
wrong. Errors near rounding say nothing and are left out.

## Worked example

$f(x, y) = x / y$ at $a = (2, 1)$ with $d = (0.1, 0.2)$. The value is 2, the gradient $(1, -2)$: first term
$0.1 - 0.4 = -0.3$. The second derivatives are $f_{xx} = 0$, $f_{xy} = -1$, $f_{yy} = 4$: second term
$\frac12 (2 \cdot (-1) \cdot 0.02 + 4 \cdot 0.04) = 0.06$. Of the third ones $f_{xyy} = 2$ and $f_{yyy} = -12$ do not
vanish: third term $\frac16 (3 \cdot 2 \cdot 0.004 - 12 \cdot 0.008) = -0.012$. Together $1.748$, and the truth is
$2.1 / 1.2 = 1.75$. On the way no fourth derivative exceeds $24 \cdot 2.1 = 50.4$, so (5) promises an error of at most
$50.4 \cdot 0.3^4 / 24 = 0.017$; it is $0.002$. By (3) the second term is
$-1 \cdot d_1 d_2 + \frac{4}{2} d_2^2 = -0.02 + 0.08$, the same.

## Plan

Several steps $d$ are handed over at once, one a row, and each gets its number.

| part | takes | returns | by |
|---|---|---|---|
| `linear_term` | the gradient, steps | the first order's share | (1), (2) |
| `quadratic_term` | the Hessian, steps | the second order's share | (1), (2) |
| `cubic_term` | the third derivatives, steps | the third order's share | (1), (2) |
| `multi_indices` | the number of variables, an order | all $\alpha$ up to that order | above (3) |
| `expansion` | partial derivatives, an order, steps | the polynomial | (3) |
| `remainder_bound` | $M$, an order, steps | the bound | (5) |
| `integral_remainder` | a derivative of $\varphi$, an order | the remainder | (4) |
| `measured_order` | scales, errors | the slope | (6) |

## Pitfalls

- The error falls with the square of the step although third derivatives are in the model: one of them is wrong, or a
  factorial is missing.
- The model is right along the axes and wrong along diagonals.
- The measured order is too small, or negative: most of the errors are rounding.
- The measured order is too large by one, at one point only. There the next derivative happens to vanish; look
  elsewhere.
- More terms make it worse: far from $a$ the terms grow before they fall, and for some functions they never fall.
- The remainder found as $f(a + d)$ less the expansion has no right digit for small steps, where (4) has nearly all.

## Cost

A gradient has $n$ entries, a Hessian $n^2$ and the third derivatives $n^3$, of which only about $n^3 / 6$ differ; for a
thousand variables that is 8 GB against 1.3. Nobody forms them: what is needed of them, $\varphi'''(0)$ say, comes from
derivatives along the line.

## Go further

Experiment: expand $1 / (1 + x^2)$ around 0 and watch the error at $x = 0.9$ and at $x = 1.1$ as the order grows. A
stretch goal: minimise a paraboloid plus cubic term along a line exactly, and compare the step with Newton's on
Rosenbrock's function.

## References

1. Folland (1990), Remainder estimates in Taylor's theorem, https://doi.org/10.1080/00029890.1990.11995594
2. Nocedal & Wright (2006), Numerical optimization, section 2.1, https://doi.org/10.1007/978-0-387-40065-5
3. Griewank & Walther (2008), Evaluating derivatives, chapter 13, https://doi.org/10.1137/1.9780898717761
"""

# 8 parts to write. Test them with: pytest exercises/calculus/taylor.py
# To be written without: scipy.interpolate, scipy.differentiate, torch, jax, sympy, numpy.polyfit, numpy.polynomial.polynomial

from collections.abc import Callable

import numpy as np
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
    """Return the share of the first derivatives in an expansion, equations (1) and (2).

    Parameters
    ----------
    gradient : ndarray
        The first derivatives at $a$.
    steps : ndarray
        Steps $d$ away from $a$, one a row.

    Returns
    -------
    ndarray
        The first term of the expansion for each step. Single precision if both arguments are.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or there are not as many variables in one as in the other.

    Examples
    --------
    >>> linear_term(np.array([1.0, -2.0]), np.array([[0.1, 0.2], [1.0, 0.0]]))
    array([-0.3,  1. ])
    """
    # given: the checks
    steps = _finite(steps, "steps", 2)
    gradient = _derivatives(gradient, "gradient", steps, 1)
    raise NotImplementedError("not written yet: linear_term")


def quadratic_term(hessian: Float[np.ndarray, "n n"], steps: Steps) -> Numbers:
    """Return the share of the second derivatives in an expansion, equations (1) and (2).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives at $a$.
    steps : ndarray
        Steps $d$ away from $a$, one a row. There may be hundreds of thousands: no array of steps by steps is made.

    Returns
    -------
    ndarray
        The second term of the expansion for each step, its factorial included. Single precision if both arguments are.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or there are not as many variables in one as in the other.

    Examples
    --------
    >>> quadratic_term(np.array([[0.0, -1.0], [-1.0, 4.0]]), np.array([[0.1, 0.2]])).round(4)
    array([0.06])
    """
    # given: the checks
    steps = _finite(steps, "steps", 2)
    hessian = _derivatives(hessian, "hessian", steps, 2)
    raise NotImplementedError("not written yet: quadratic_term")


def cubic_term(third: Float[np.ndarray, "n n n"], steps: Steps) -> Numbers:
    """Return the share of the third derivatives in an expansion, equations (1) and (2).

    Parameters
    ----------
    third : ndarray
        The third derivatives at $a$: entry `i, j, k` is that by variables `i`, `j` and `k`.
    steps : ndarray
        Steps $d$ away from $a$, one a row.

    Returns
    -------
    ndarray
        The third term of the expansion for each step, its factorial included. Single precision if both arguments are.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or there are not as many variables in one as in the other.

    Examples
    --------
    >>> third = np.zeros((2, 2, 2))
    >>> third[0, 1, 1] = third[1, 0, 1] = third[1, 1, 0] = 2.0
    >>> third[1, 1, 1] = -12.0
    >>> cubic_term(third, np.array([[0.1, 0.2]])).round(4)
    array([-0.012])
    """
    # given: the checks
    steps = _finite(steps, "steps", 2)
    third = _derivatives(third, "third", steps, 3)
    raise NotImplementedError("not written yet: cubic_term")


def multi_indices(n: int, order: int) -> Int[np.ndarray, "n_terms n"]:
    r"""Return all multi-indices of `n` variables up to an order, as above equation (3).

    Parameters
    ----------
    n : int
        The number of variables, at least 1.
    order : int
        The highest order, 0 or more.

    Returns
    -------
    ndarray
        The multi-indices, one a row, in ascending order $|\alpha|$: those of one order in any sequence.

    Raises
    ------
    ValueError
        If `n` is below 1, or `order` is not a whole number from 0 on.

    Examples
    --------
    >>> multi_indices(2, 1)[0]
    array([0, 0])
    >>> len(multi_indices(2, 3))
    10
    """
    # given: the checks
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    _check_order(order)
    raise NotImplementedError("not written yet: multi_indices")


def expansion(partials: Callable[[tuple[int, ...]], float], order: int, steps: Steps) -> Numbers:
    """Return the Taylor polynomial of an order, equation (3).

    Parameters
    ----------
    partials : callable
        Takes a multi-index as a tuple of whole numbers, and returns that derivative at $a$. It is called once for each
        multi-index.
    order : int
        The order $k$, 0 or more.
    steps : ndarray
        Steps $d$ away from $a$, one a row.

    Returns
    -------
    ndarray
        The polynomial at each step, its value at $a$ included. Single precision if the steps are.

    Raises
    ------
    ValueError
        If `steps` are not real and finite numbers with two axes, or `order` is not a whole number from 0 on.

    Examples
    --------
    >>> expansion(lambda alpha: 2.0 ** alpha[0] * 3.0 ** alpha[1], 2, np.array([[0.1, 0.2]]))  # of exp(2 x + 3 y)
    array([2.12])
    """
    # given: the checks
    steps = _finite(steps, "steps", 2)
    _check_order(order)
    raise NotImplementedError("not written yet: expansion")


def remainder_bound(largest: float, order: int, steps: Steps) -> Numbers:
    """Return how much an expansion misses at most, equation (5). The power and the factorial may each be too large for a float.

    Parameters
    ----------
    largest : float
        What no derivative of order $k + 1$ exceeds on the way, $M$; 0 or more.
    order : int
        The order $k$ of the expansion, 0 or more.
    steps : ndarray
        Steps $d$ away from $a$, one a row.

    Returns
    -------
    ndarray
        The bound for each step. Single precision if the steps are.

    Raises
    ------
    ValueError
        If `largest` is negative or not finite, `order` is not a whole number from 0 on, or `steps` are not real and
        finite numbers with two axes.

    Examples
    --------
    >>> remainder_bound(50.4, 3, np.array([[0.1, 0.2]])).round(4)
    array([0.017])
    """
    # given: the checks
    if not 0 <= largest < np.inf:
        raise ValueError(f"largest must be finite, 0 or more, got {largest}")
    _check_order(order)
    steps = _finite(steps, "steps", 2)
    raise NotImplementedError("not written yet: remainder_bound")


def integral_remainder(derivative: Callable[[float], float], order: int) -> float:
    r"""Return what an expansion misses, by integrating equation (4).

    Parameters
    ----------
    derivative : callable
        Takes one $t$ at a time, from 0 to 1, and returns $\varphi^{(k+1)}(t)$: the derivative of order `order + 1`
        along the line.
    order : int
        The order $k$ of the expansion, from 0 to 20.

    Returns
    -------
    float
        The remainder $R_k$: to ten digits or more where the derivative is smooth and grows or swings little, however
        small it is. Any rule of quadrature that reaches them will do, NumPy's nodes and SciPy's `quad` included.

    Raises
    ------
    ValueError
        If `order` is not a whole number from 0 to 20.

    Examples
    --------
    >>> print(round(integral_remainder(np.exp, 2), 4), round(np.e - 1 - 1 - 1 / 2, 4))
    0.2183 0.2183
    """
    # given: the checks
    _check_order(order)
    if order > 20:
        raise ValueError(f"order must be at most 20, got {order}")
    raise NotImplementedError("not written yet: integral_remainder")


def measured_order(
    scales: Float[np.ndarray, " n_scales"], errors: Float[np.ndarray, " n_scales"], floor: float = 0.0
) -> float:
    """Return the slope of errors against scales on logarithmic axes, equation (6).

    Parameters
    ----------
    scales : ndarray
        How large the steps were; positive.
    errors : ndarray
        The error at each scale; its sign does not count.
    floor : float
        Errors of at most this size are left out, as rounding; 0 or more. An error of 0 is always left out.

    Returns
    -------
    float
        The slope: about one more than the order of the expansion.

    Raises
    ------
    ValueError
        If the arrays are not of one length, or not real and finite, a scale is not positive, `floor` is negative, or
        fewer than two different scales have errors above it.

    Examples
    --------
    >>> scales = np.array([0.4, 0.2, 0.1])
    >>> print(round(measured_order(scales, 7 * scales**3), 4))
    3.0
    """
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
    raise NotImplementedError("not written yet: measured_order")
