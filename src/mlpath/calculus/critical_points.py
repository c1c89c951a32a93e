r"""Critical points: where a function is flat, and what it does around.

## Idea

A function of several variables is flat at the bottom of a valley, on the top of a hill and on a pass between two hills.
Training moves from the neighbourhood of one such point to that of another, and in many dimensions most of them are
passes. To find them, look for zeros of the gradient: Newton's method finds one from each start, so try many starts. To
tell them apart, look at the second derivatives: the signs of the Hessian's eigenvalues say along how many directions it
goes up, and along how many down.

## Maths

A point is *critical* if the gradient vanishes there, $\nabla f(x^*) = 0$. Around it Taylor's theorem leaves, with the
Hessian $H = \nabla^2 f(x^*)$,

$$f(x^* + d) = f(x^*) + \tfrac{1}{2}\, d^\top H d + O(\lVert d \rVert^3). \tag{1}$$

$H$ is symmetric, so it has orthonormal eigenvectors $q_i$ with real eigenvalues $\lambda_i$. With $d = \sum_i c_i q_i$,

$$d^\top H d = \sum_i \lambda_i c_i^2. \tag{2}$$

Along $q_i$ the function curves up if $\lambda_i > 0$ and down if $\lambda_i < 0$; if $\lambda_i = 0$, (1) does not say,
and the third order decides. Count the three kinds:

$$n_- = \#\{\lambda_i < -\delta\}, \qquad n_0 = \#\{|\lambda_i| \le \delta\}, \qquad n_+ = \#\{\lambda_i > \delta\}. \tag{3}$$

The tolerance $\delta$ is there since a computed zero is never 0. It is a curvature, in units of $f$ over units of $x$
squared, and nobody but the user knows what is flat. Then

$$\text{the point is} \begin{cases} \text{degenerate} & \text{if } n_0 > 0, \\ \text{a minimum} & \text{if } n_- = n_0 = 0, \\
\text{a maximum} & \text{if } n_+ = n_0 = 0, \\ \text{a saddle} & \text{otherwise}. \end{cases} \tag{4}$$

**Newton's step.** Near a point $x$ the gradient is about $\nabla f(x) + H(x)\, d$, which vanishes for the $d$ with

$$H(x)\, d = -\nabla f(x). \tag{5}$$

Near a critical point that is not degenerate, repeating $x \leftarrow x + d$ doubles the number of right digits with
every step. Note what (5) does *not* know: up from down. It goes to whichever critical point is near, a saddle as
willingly as a minimum. For minimisation that is a vice; here it is what we want.

**Not too far.** Far from a critical point the step may overshoot, and make things worse for ever. So try a fraction $t$
of it. Along $d$ the squared length of the gradient has, at $t = 0$, the slope

$$\frac{\mathrm{d}}{\mathrm{d} t} \lVert \nabla f(x + t d) \rVert^2 = 2\, \nabla f^\top H d = -2 \lVert \nabla f \rVert^2 < 0, \tag{6}$$

by the chain rule and (5). So a small enough $t$ shortens the gradient by nearly the share $t$. Begin with $t = 1$ and
halve it until

$$\lVert \nabla f(x + t d) \rVert \le \big( 1 - 10^{-4}\, t \big)\, \lVert \nabla f(x) \rVert. \tag{7}$$

The tiny factor makes sure that the lengths cannot creep down without ever getting anywhere. Where $H$ is singular there
is no step (5), and where no $t$ down to rounding will do there is no progress: such a start is given up, and another
one tried.

**Many starts.** Several starts come to the same point, each with other last digits. Points nearer to each other than
some distance are taken for one.

**All of them?** Nobody can be sure from starts alone. But sometimes topology knows. On a closed surface, such as the
torus of a function with two periods, count each critical point that is not degenerate as $(-1)^{n_-}$: the sum is the
same for every function, and for the torus it is

$$\#\text{minima} - \#\text{saddles} + \#\text{maxima} = 0. \tag{8}$$

In the plane, a function that rises to infinity on all sides has the sum 1.

## Worked example

$f(x, y) = x^3 - 3 x + y^2$ has $\nabla f = (3 x^2 - 3,\; 2 y)$ and $H = \operatorname{diag}(6 x, 2)$. The gradient
vanishes at $(1, 0)$, where $H$ has the eigenvalues 6 and 2: a minimum; and at $(-1, 0)$, with $-6$ and 2: a saddle. In
the plane the sum (8) is $1 - 1 = 0$, not 1: $f$ falls without bound to the left.

Newton from $(2, 1)$: $\nabla f = (9, 2)$ and $H = \operatorname{diag}(12, 2)$, so $d = (-0.75, -1)$ leads to
$(1.25, 0)$, where the gradient is $(1.6875, 0)$: shorter, so $t = 1$ will do. The next points are $1.025$, $1.0003$,
$1.00000005$.

From $(0.1, 0)$ the full step is $2.97 / 0.6 = 4.95$, to $(5.05, 0)$, where the gradient is $73.5$: too far; halved
once, to $(2.575, 0)$ with $16.9$, still too far. With $t = 1/4$ it leads to $(1.3375, 0)$ with the gradient $2.37$,
less than $2.97$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `inertia` | a Hessian, $\delta$ | $n_-$, $n_0$, $n_+$ | (3) |
| `classify` | a Hessian, $\delta$ | what kind of point it belongs to | (4) |
| `newton_step` | a gradient, a Hessian | the step $d$ | (5) |
| `step_fraction` | the gradient as a function, a point, a step | the fraction $t$ | (7) |
| `newton` | both as functions, a start | where it ended, and how that went | (5), (7) |
| `distinct` | points, a distance | one point of each bunch | |
| `find_critical_points` | both as functions, starts | all critical points found, with their kinds | all |

## Pitfalls

- Only minima are found: the step goes down, rather than to where the gradient vanishes.
- A search runs away, or swings between two points for ever.
- The same point is found eight times.
- A monkey saddle is called a saddle, or a minimum, depending on the last digits.
- A start on a ridge of symmetry finds the saddle, and never the two minima beside it.

## Cost

$O(n^3)$ for each step, besides a gradient for each $t$ tried and a Hessian. Near a regular point 5 to 6 steps give all
digits; near a degenerate one each step gains one binary digit only.

## Go further

Experiment: colour each start in the plane by the critical point that it leads to. For Himmelblau's function the regions
are fractal without (7); what does (7) do to them? A stretch goal: *deflation* [3] changes the gradient so that points
found already repel, and finds several from one start.

## References

1. Nocedal & Wright (2006), Numerical optimization, chapter 11, https://doi.org/10.1007/978-0-387-40065-5
2. Milnor (1963), Morse theory, https://doi.org/10.1515/9781400881802
3. Farrell, Birkisson & Funke (2015), Deflation techniques for finding distinct solutions of nonlinear partial
   differential equations, https://doi.org/10.1137/140984798
4. Dauphin et al. (2014), Identifying and attacking the saddle point problem in high-dimensional non-convex
   optimization, https://arxiv.org/abs/1406.2572
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, symmetric_matrix

Vector = Float[np.ndarray, " n"]
Matrix = Float[np.ndarray, "n n"]
Gradient = Callable[[np.ndarray], np.ndarray]
Hessian = Callable[[np.ndarray], np.ndarray]
Kind = Literal["minimum", "maximum", "saddle", "degenerate"]


@dataclass(frozen=True)
class Search:
    """How a search for a critical point went.

    Attributes
    ----------
    x : ndarray
        Where it ended.
    gradient_norm : float
        The length of the gradient there.
    n_steps : int
        How many steps were made.
    converged : bool
        Whether the length is within the tolerance. If not, the search was given up, or had no steps left.
    """

    x: Vector
    gradient_norm: float
    n_steps: int
    converged: bool


@dataclass(frozen=True)
class CriticalPoint:
    """A critical point, and what it is.

    Attributes
    ----------
    x : ndarray
        The point.
    kind : str
        "minimum", "maximum", "saddle" or "degenerate".
    """

    x: Vector
    kind: Kind


def _check_positive(value: float, name: str) -> None:  # given: argument checks
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be positive and finite, got {value}")


def _checked(function: Gradient, name: str, shape: tuple[int, ...]) -> Gradient:  # given: argument checks
    """Return the function with the shape of its values checked."""

    def checked(x: np.ndarray) -> np.ndarray:
        value = np.asarray(function(x), dtype=float)
        if value.shape != shape:
            raise ValueError(f"{name} must return the shape {shape}, got {value.shape}")
        return value

    return checked


def inertia(hessian: Matrix, flat: float = 1e-4) -> tuple[int, int, int]:
    r"""Return along how many directions a function curves down, not at all, and up, equation (3).

    Parameters
    ----------
    hessian : ndarray
        The Hessian, symmetric.
    flat : float
        The tolerance $\delta$: curvatures up to it count as none. Positive.

    Returns
    -------
    n_down, n_flat, n_up : int
        $n_-$, $n_0$ and $n_+$.

    Raises
    ------
    ValueError
        If `hessian` is not a symmetric matrix of finite numbers, up to a hundred roundings of its largest entry (of one
        made by differences take the mean with its transpose), or `flat` is not positive.

    Examples
    --------
    >>> inertia(np.diag([3.0, -2.0, 1e-7, 5.0]))
    (1, 1, 2)
    """
    # given: the checks
    hessian = symmetric_matrix(hessian, "hessian")
    _check_positive(flat, "flat")
    # yours
    curvatures = np.linalg.eigvalsh(hessian)
    n_down, n_up = int((curvatures < -flat).sum()), int((curvatures > flat).sum())
    return n_down, len(hessian) - n_down - n_up, n_up


def classify(hessian: Matrix, flat: float = 1e-4) -> Kind:
    r"""Return what kind of critical point a Hessian belongs to, equation (4).

    Parameters
    ----------
    hessian : ndarray
        The Hessian there, symmetric.
    flat : float
        The tolerance $\delta$: curvatures up to it count as none. Positive.

    Returns
    -------
    str
        "minimum", "maximum", "saddle", or "degenerate" if there is a flat direction.

    Raises
    ------
    ValueError
        If `hessian` is not a symmetric matrix of finite numbers, or `flat` is not positive.

    Examples
    --------
    >>> classify(np.array([[1.0, 3.0], [3.0, 1.0]]))
    'saddle'
    """
    n_down, n_flat, n_up = inertia(hessian, flat)
    if n_flat:
        return "degenerate"
    if n_down and n_up:
        return "saddle"
    return "maximum" if n_down else "minimum"


def newton_step(gradient: Vector, hessian: Matrix) -> Vector:
    """Return the step to where the gradient should vanish, equation (5).

    Parameters
    ----------
    gradient, hessian : ndarray
        First and second derivatives at the point.

    Returns
    -------
    ndarray
        The step $d$.

    Raises
    ------
    ValueError
        If `gradient` is not a vector or `hessian` not a symmetric matrix of as many finite numbers.
    LinAlgError
        If `hessian` is exactly singular.

    Examples
    --------
    >>> newton_step(np.array([9.0, 2.0]), np.diag([12.0, 2.0]))
    array([-0.75, -1.  ])
    """
    # given: the checks
    gradient = real_array(gradient, "gradient", ndim=1)
    hessian = symmetric_matrix(hessian, "hessian")
    if hessian.shape[0] != gradient.size:
        raise ValueError(f"hessian must have the shape {(gradient.size, gradient.size)}, got {hessian.shape}")
    # yours
    return np.linalg.solve(hessian, -gradient)


def step_fraction(gradient: Gradient, x: Vector, step: Vector) -> float:
    r"""Return how much of a step to make: the first of 1, 1/2, 1/4, ... that obeys (7).

    Parameters
    ----------
    gradient : callable
        Takes a point and returns the gradient there.
    x, step : ndarray
        The point, and the full step $d$ from it.

    Returns
    -------
    float
        $t$; or 0 if none down to $2^{-50}$ obeys (7). A point at which the gradient is not finite does not.

    Raises
    ------
    ValueError
        If `x` or `step` is not a vector of finite numbers, or `step` or what `gradient` returns has another shape than
        `x`.

    Examples
    --------
    >>> step_fraction(lambda x: 3 * x**2 - 3, np.array([0.1]), np.array([4.95]))
    0.25
    """
    # given: the checks
    x, step = real_array(x, "x", ndim=1), real_array(step, "step", ndim=1)
    if step.shape != x.shape:
        raise ValueError(f"step must have the shape of x, {x.shape}, got {step.shape}")
    gradient = _checked(gradient, "gradient", x.shape)
    # yours
    length = np.linalg.norm(gradient(x))
    for halvings in range(51):
        t = 0.5**halvings
        if np.linalg.norm(gradient(x + t * step)) <= (1 - 1e-4 * t) * length:  # false for nan
            return t
    return 0.0


def newton(gradient: Gradient, hessian: Hessian, start: Vector, *, tol: float = 1e-10, max_steps: int = 100) -> Search:
    """Search for a critical point by Newton steps (5), each halved until the gradient gets shorter (7).

    Parameters
    ----------
    gradient, hessian : callable
        Take a point and return the derivatives there.
    start : ndarray
        Where to begin.
    tol : float
        The length of the gradient at which a point counts as critical. Positive.
    max_steps : int
        How many steps are made at most; 0 or more.

    Returns
    -------
    Search
        Where it ended. It has not converged if `max_steps` were not enough, if the Hessian is singular on the way, or
        if no fraction of a step obeys (7): then the last point is returned as it is.

    Raises
    ------
    ValueError
        If `start` is not a vector of finite numbers, `tol` is not positive, `max_steps` is negative, `gradient` or
        `hessian` returns another shape than it should, or `hessian` a matrix that is not finite or not symmetric at a
        point on the way.

    Examples
    --------
    >>> found = newton(
    ...     lambda x: np.array([3 * x[0] ** 2 - 3, 2 * x[1]]), lambda x: np.diag([6 * x[0], 2]), np.array([2.0, 1.0])
    ... )
    >>> print(found.x.round(4), found.converged)
    [1. 0.] True
    """
    # given: the checks
    x = real_array(start, "start", ndim=1).astype(float)
    gradient, hessian = _checked(gradient, "gradient", x.shape), _checked(hessian, "hessian", x.shape * 2)
    _check_positive(tol, "tol")
    if max_steps < 0:
        raise ValueError(f"max_steps must not be negative, got {max_steps}")
    # yours
    slope, n_steps = gradient(x), 0
    while np.linalg.norm(slope) > tol and n_steps < max_steps:
        try:
            step = newton_step(slope, hessian(x))
        except np.linalg.LinAlgError:
            break
        t = step_fraction(gradient, x, step)
        if t == 0:
            break
        x = x + t * step
        slope, n_steps = gradient(x), n_steps + 1
    length = float(np.linalg.norm(slope))
    return Search(x, length, n_steps, converged=length <= tol)


def distinct(points: Float[np.ndarray, "n_points n"], apart: float) -> Float[np.ndarray, "n_distinct n"]:
    """Return one point of each bunch.

    Parameters
    ----------
    points : ndarray
        The points, one a row; there may be none, in the shape (0, n), and the result then has that shape.
    apart : float
        The distance below which two points are taken for one. Positive.

    Returns
    -------
    ndarray
        Some of the points, in any order: no two of them nearer than `apart`, and each point that is left out nearer
        than that to one of them.

    Raises
    ------
    ValueError
        If `points` does not have two axes and finite numbers, or `apart` is not positive.

    Examples
    --------
    >>> distinct(np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 1.001]]), apart=0.01)
    array([[0., 1.],
           [2., 3.]])
    """
    # given: the checks
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ValueError(f"points must have two axes and finite numbers, got {points}")
    _check_positive(apart, "apart")
    # yours
    kept = points[:0]
    for point in points:
        if not (np.linalg.norm(kept - point, axis=1) < apart).any():
            kept = np.vstack([kept, point])
    return kept


def find_critical_points(
    gradient: Gradient,
    hessian: Hessian,
    starts: Float[np.ndarray, "n_starts n"],
    *,
    tol: float = 1e-10,
    flat: float = 1e-4,
    apart: float = 1e-4,
) -> list[CriticalPoint]:
    """Search from many starts, and say what each point found is.

    Parameters
    ----------
    gradient, hessian : callable
        Take a point and return the derivatives there.
    starts : ndarray
        Where to begin, one start a row. Those whose search does not converge are left out.
    tol : float
        The length of the gradient at which a point counts as critical. Positive.
    flat : float
        The curvature that counts as none, in `classify`. Positive.
    apart : float
        The distance below which two points are taken for one, in `distinct`. Positive.

    Returns
    -------
    list of CriticalPoint
        Each critical point once, in any order; none if no search converged. Near a degenerate one searches end further
        from it than `apart`, so that it may come several times: ask for a smaller `tol` or a larger `apart`.

    Raises
    ------
    ValueError
        If `starts` is not a matrix of finite numbers, one of the others is not positive, or `gradient` or `hessian`
        returns another shape than it should.

    Examples
    --------
    >>> gradient, hessian = (lambda x: np.array([3 * x[0] ** 2 - 3, 2 * x[1]])), (lambda x: np.diag([6 * x[0], 2]))
    >>> found = find_critical_points(gradient, hessian, np.array([[2.0, 1.0], [-3.0, 0.5], [5.0, 0.0]]))
    >>> sorted((point.x.round(4).tolist(), point.kind) for point in found)
    [([-1.0, 0.0], 'saddle'), ([1.0, 0.0], 'minimum')]
    """
    # given: the checks
    starts = real_array(starts, "starts", ndim=2)
    _check_positive(flat, "flat")
    _check_positive(apart, "apart")
    # yours
    searches = [newton(gradient, hessian, start, tol=tol) for start in starts]
    ends = np.array([search.x for search in searches if search.converged]).reshape(-1, starts.shape[1])
    return [CriticalPoint(x, classify(hessian(x), flat)) for x in distinct(ends, apart)]
