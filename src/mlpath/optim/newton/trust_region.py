r"""Trust region: first say how far the model is believed, then go where it is least.

## Idea

A line search chooses a direction first and then asks how far to go. A trust region does it the other way round. Draw a
ball around the point, of a radius within which the quadratic model is believed; go to where the model is least *in the
ball*; then compare what was gained with what the model had promised. If they agree, the ball grows; if not, it shrinks,
and a step that gained nothing is taken back. In a ball every quadratic has a minimum, so nothing has to be done to a
Hessian that is not positive definite: negative curvature just leads to the border. And the minimum need not be found
exactly. Two legs suffice for few variables, some steps of conjugate gradients for many, with no matrix at all.

## Maths

**The model.** With $g = \nabla f(x)$ and $B = \nabla^2 f(x)$, the step $p$ should make

$$m(p) = f(x) + g^\top p + \tfrac12 p^\top B p \quad\text{small, with}\quad \|p\| \le \Delta , \tag{1}$$

and it promises the decrease

$$m(0) - m(p) = -\bigl(g^\top p + \tfrac12 p^\top B p\bigr) . \tag{2}$$

**Agreement.** The actual decrease over the promised one,

$$\rho = \frac{f(x) - f(x + p) + \delta}{m(0) - m(p) + \delta}, \qquad \delta = \varepsilon\, |f(x)| , \tag{3}$$

is near 1 where the model is good. The $\delta$, with an $\varepsilon$ of some ten units of rounding, is nothing at
first. Near the minimum, where both decreases sink below the rounding of $f$, it takes over, and $\rho \to 1$: a
difference that is rounding is no evidence against the model [1]. A step to where $f$ is not finite has
$\rho = -\infty$, and so has one for which the model promises nothing. The step is taken if $\rho$ exceeds a small
number; and

$$\Delta \leftarrow \begin{cases} \Delta / 4 & \text{if } \rho < \tfrac14, \\
\min(2 \Delta, \Delta_{\max}) & \text{if } \rho > \tfrac34 \text{ and } \|p\| \text{ is } \Delta, \\
\Delta & \text{otherwise.} \end{cases} \tag{4}$$

A good step inside the ball was not held back by it: no reason to let it grow.

**What must be gained at least** is what steepest descent gains in the ball. Along $-g$ the model is a parabola with the
curvature $\kappa = g^\top B g / \|g\|^2$. It is least at the length

$$\ell = \begin{cases} \min(\|g\| / \kappa,\ \Delta) & \text{if } \kappa > 0, \\ \Delta & \text{else,} \end{cases}
\qquad p_C = -\ell\, \frac{g}{\|g\|} , \tag{5}$$

the **Cauchy step**. Its promise is at least $\tfrac12 \|g\| \min(\Delta, \|g\| / \|B\|)$; and methods that gain a fixed
share of that converge to stationary points from everywhere [3].

**To the border.** From a point $p$ in the ball along $d$ the border is met at $p + \tau d$ with
$\|p + \tau d\| = \Delta$. With $u = p^\top d / \|d\|$ and $w = (\Delta - \|p\|)(\Delta + \|p\|) \ge 0$ the
non-negative root is

$$\tau = \frac{-u + \sqrt{u^2 + w}}{\|d\|} = \frac{w}{\|d\|\, (u + \sqrt{u^2 + w})} , \tag{6}$$

of which the second form keeps its digits where $u > 0$, and the first where not.

**The dogleg** [4]. For a positive definite $B$ and a ball large enough the answer is Newton's step
$p_N = -B^{-1} g$; for a small ball it is nearly $-\Delta g / \|g\|$. Between them walk on two straight legs: from 0 to
the Cauchy step $p_C$, and on towards $p_N$. Along them the length rises and the model falls, so the best point in the
ball is where they leave it:

$$p = \begin{cases} p_N & \text{if } \|p_N\| \le \Delta, \\ p_C + \tau (p_N - p_C) \text{ with } \tau \text{ by (6)} &
\text{otherwise.} \end{cases} \tag{7}$$

If $p_C$ lies on the border, then $\tau = 0$. If $B$ is not positive definite there is no Newton step: take $p_C$.

**Steihaug's way** [5]. Solve $B p = -g$ by conjugate gradients from $p = 0$. Their points $p_0 = 0, p_1, p_2, \dots$ get
longer at each step, and $p_1$ is the Cauchy step if that lies inside. So go on until something happens: the direction
$d$ has $d^\top B d \le 0$; or the next point would lie at the border or beyond. Then follow $d$ to the border by (6)
and stop. Or the residual is small enough,

$$\|B p + g\| \le \eta\, \|g\| . \tag{8}$$

For a positive definite $B$ this gains at least half of what the best step in the ball would. With
$\eta = \min(\tfrac12, \|g\|^\theta)$ the walk converges with the order $1 + \theta$, once the ball no longer matters:
the residual adds an error of $\|g\|^{1 + \theta}$ to Newton's square.

**The exact answer**, for comparison [6]. A step $p$ solves (1) if and only if there is a $\lambda$ with

$$(B + \lambda I)\, p = -g, \qquad \lambda \ge 0, \qquad \lambda\, (\Delta - \|p\|) = 0, \qquad
B + \lambda I \text{ positive semidefinite.} \tag{9}$$

Sufficient it is because for any other $q$ in the ball $m(q) + \tfrac\lambda2 \|q\|^2$ is not below its value at $p$,
so that $m(q) \ge m(p) + \tfrac\lambda2 (\|p\|^2 - \|q\|^2) \ge m(p)$. Mostly $\lambda > -\lambda_{\min}$ follows from
the length. The **hard case** is that $g$ has no part along the eigenvectors of $\lambda_{\min} < 0$, and that
$\|(B - \lambda_{\min} I)^+ g\| < \Delta$. Then $\lambda = -\lambda_{\min}$, and such an eigenvector has to be added
to reach the border. Neither of our two ways sees it: all that they do is made of $g, B g, B^2 g, \dots$

## Worked example

$g = (2, 1)$, $B = \operatorname{diag}(1, 4)$.

- *Cauchy*: $\|g\|^2 = 5$, $g^\top B g = 8$, $\kappa = 1.6$. Unbounded, $\ell = 2.236/1.6 = 1.398$ and
  $p_C = (-1.25, -0.625)$, which promises $\tfrac12 \cdot 5 \cdot 0.625 = 1.5625$.
- *Newton*: $p_N = (-2, -0.25)$ of length 2.016, which promises $2.125$.
- *Dogleg* for $\Delta = 1.6$: $p_N - p_C = (-0.75, 0.375)$ of length 0.8385. In (6)
  $u = (0.9375 - 0.2344)/0.8385 = 0.8385$ and $w = 2.56 - 1.9531 = 0.6069$, so
  $\tau = (-0.8385 + \sqrt{0.7031 + 0.6069})/0.8385 = 0.3650$ and $p = (-1.5237, -0.4881)$. It promises $1.8982$.
- *Ratio*: had $f$ fallen by 0.4, $\rho = 0.21$: the step is taken, and the ball shrinks to $0.4$.
- *Negative curvature*: for $B = \operatorname{diag}(1, -5)$ it is $g^\top B g = -1$, and the Cauchy step goes to the
  border: $-1.6 \cdot (2, 1)/2.236 = (-1.431, -0.716)$.

## Plan

- `predicted_decrease` takes gradient, $B p$ and $p$, and returns (2).
- `decrease_ratio` takes two values and the promise and returns (3).
- `next_radius` takes the radius, the ratio and the length of the step and returns (4).
- `cauchy_step` takes gradient, $B g$ and the radius and returns (5).
- `to_border` takes a step, a direction and the radius and returns (6).
- `dogleg` takes gradient, Hessian and radius and returns (7).
- `steihaug` takes gradient, a function that multiplies by $B$, and the radius, and returns a step as described at (8).
- `minimize` walks.

Use `newton_step` of `optim/newton/damped`, and `State` and `advance` of `optim/conjugate_gradient/linear`. Given is
`_solve`, which calls one of the two solvers.

## Pitfalls

- The radius grows without end, or shrinks without end.
- The walk creeps: steps are good, and short.
- Near the minimum good steps are refused, one after the other.
- Conjugate gradients run far outside the ball, or stop one step short of the border.
- It stops at a saddle and reports success: where the gradient vanishes (5) has no direction. Starting a little beside
  it helps, since then negative curvature is found.

## Cost

One value a step, and one gradient a step that is taken. Dogleg: a Hessian and a factorisation. Steihaug: a product
with the Hessian for each step of conjugate gradients and one more for (2), and some vectors of memory, so it is for any
number of variables. The benchmark finds it as fast as SciPy's trust-ncg, which makes the same steps: ratios of 0.9 to
1.0.

## Go further

- *Experiment*: count steps and products on Rosenbrock's function in 100 variables for $\theta$ = 0, ½ and 1. Fewer
  steps or fewer products: what would you pay for?
- *Stretch*: More and Sorensen [6] find the $\lambda$ of (9) by Newton's method on
  $1/\Delta - 1/\|p(\lambda)\| = 0$, with a Cholesky factor at each try. Write it, with the hard case.

## References

1. Conn, Gould & Toint (2000), Trust Region Methods, section 17.4.2, https://doi.org/10.1137/1.9780898719857
2. Nocedal & Wright (2006), Numerical Optimization, chapters 4 and 7, https://doi.org/10.1007/978-0-387-40065-5
3. Powell (1975), Convergence properties of a class of minimization algorithms,
   https://doi.org/10.1016/B978-0-12-468650-2.50005-5
4. Powell (1970), A hybrid method for nonlinear equations, in Rabinowitz (ed.), Numerical Methods for Nonlinear
   Algebraic Equations
5. Steihaug (1983), The conjugate gradient method and trust regions in large scale optimization,
   https://doi.org/10.1137/0720042
6. Moré & Sorensen (1983), Computing a trust region step, https://doi.org/10.1137/0904038
7. Yuan (2000), On the truncated conjugate gradient method, https://doi.org/10.1007/s101070050012
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, HessianProduct, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.conjugate_gradient.linear import State, advance
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.newton.damped import newton_step

Method = Literal["steihaug", "dogleg"]

STALLED = "stopped: the radius has shrunk below the rounding of x"


@dataclass(frozen=True)
class TrustResult(OptimizeResult):
    """What a minimisation by trust region ended with, beside what every result of this room holds.

    `nit` counts trial steps, the refused ones included, and where one was refused the path repeats its point.

    Attributes
    ----------
    radii : ndarray
        The radius within which each step was sought: `nit` numbers.
    ratios : ndarray
        The ratio (3) of each step: `nit` numbers.
    """

    radii: Float[np.ndarray, " nit"] = field(default_factory=lambda: np.zeros(0))
    ratios: Float[np.ndarray, " nit"] = field(default_factory=lambda: np.zeros(0))


def predicted_decrease(
    gradient: Float[np.ndarray, " dim"], product: Float[np.ndarray, " dim"], step: Float[np.ndarray, " dim"]
) -> float:
    """Return the decrease that the model promises, equation (2).

    Parameters
    ----------
    gradient : ndarray
        The gradient.
    product : ndarray
        The Hessian times `step`.
    step : ndarray
        The step.

    Returns
    -------
    float
        Positive if the model is lower after the step.

    Examples
    --------
    >>> predicted_decrease(np.array([2.0, 1.0]), np.array([-2.0, -1.0]), np.array([-2.0, -0.25]))
    2.125
    """
    return -float(gradient @ step + product @ step / 2)


def decrease_ratio(value: float, trial: float, predicted: float, *, rounding: float = 2e-15) -> float:
    r"""Return the actual decrease over the promised one, equation (3).

    Parameters
    ----------
    value : float
        The objective where one stands, finite.
    trial : float
        The objective after the step.
    predicted : float
        What the model promises, equation (2).
    rounding : float
        The $\varepsilon$ of (3).

    Returns
    -------
    float
        The ratio; minus infinity if `trial` is not finite or `predicted` is not positive.

    Examples
    --------
    >>> print(f"{decrease_ratio(5.0, 4.6, 1.8982):.4f}")
    0.2107
    >>> decrease_ratio(5.0, float("nan"), 1.8982)
    -inf
    """
    if not (np.isfinite(trial) and predicted > 0):
        return -np.inf
    delta = rounding * abs(value)
    return (value - trial + delta) / (predicted + delta)


def next_radius(radius: float, ratio: float, length: float, max_radius: float) -> float:
    """Return the radius for the next step, equation (4).

    Parameters
    ----------
    radius : float
        The radius within which the step was sought.
    ratio : float
        The ratio (3) of the step.
    length : float
        The length of the step. At the border it is only by rounding equal to the radius: from 0.999 of it on counts.
    max_radius : float
        The largest radius.

    Returns
    -------
    float
        The next radius.

    Examples
    --------
    >>> next_radius(1.6, 0.21, 1.6, 9.0), next_radius(1.6, 0.9, 1.6, 9.0), next_radius(1.6, 0.9, 0.7, 9.0)
    (0.4, 3.2, 1.6)
    """
    if ratio < 0.25:
        return radius / 4
    return min(2 * radius, max_radius) if ratio > 0.75 and length >= 0.999 * radius else radius


def cauchy_step(
    gradient: Float[np.ndarray, " dim"], product: Float[np.ndarray, " dim"], radius: float
) -> Float[np.ndarray, " dim"]:
    """Return the step to the lowest point of the model in the ball straight downhill, equation (5).

    Parameters
    ----------
    gradient : ndarray
        The gradient, not zero.
    product : ndarray
        The Hessian times `gradient`.
    radius : float
        The radius of the ball.

    Returns
    -------
    ndarray
        The Cauchy step.

    Examples
    --------
    >>> cauchy_step(np.array([2.0, 1.0]), np.array([2.0, 4.0]), 3.0)
    array([-1.25 , -0.625])
    """
    length = float(np.linalg.norm(gradient))
    unit = gradient / length
    curvature = float(unit @ (product / length))
    return -(min(length / curvature, radius) if curvature > 0 else radius) * unit


def to_border(step: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"], radius: float) -> float:
    r"""Return how far one can go along a direction until the border is met, equation (6).

    Parameters
    ----------
    step : ndarray
        A point in the ball. One outside by rounding counts as at the border.
    direction : ndarray
        The direction, not zero, of any representable length.
    radius : float
        The radius of the ball.

    Returns
    -------
    float
        The non-negative $\tau$ with which `step` $+ \tau$ `direction` lies on the border.

    Examples
    --------
    >>> to_border(np.array([3.0, 0.0]), np.array([0.0, 2.0]), 5.0)
    2.0
    """
    length, inside = float(np.linalg.norm(direction)), float(np.linalg.norm(step))
    along = float(step @ (direction / length))
    room = max((radius - inside) * (radius + inside), 0.0)
    root = (along**2 + room) ** 0.5
    return (room / (along + root) if along > 0 else root - along) / length


def dogleg(
    gradient: Float[np.ndarray, " dim"], hessian: Float[np.ndarray, "dim dim"], radius: float
) -> Float[np.ndarray, " dim"]:
    """Return the step along two legs, equation (7).

    Parameters
    ----------
    gradient : ndarray
        The gradient, not zero.
    hessian : ndarray
        The second derivatives, symmetric.
    radius : float
        The radius of the ball.

    Returns
    -------
    ndarray
        The step; the Cauchy step if `hessian` is not positive definite.

    Examples
    --------
    >>> dogleg(np.array([2.0, 1.0]), np.diag([1.0, 4.0]), 1.6).round(4)
    array([-1.5237, -0.4881])
    """
    cauchy = cauchy_step(gradient, hessian @ gradient, radius)
    try:
        newton = newton_step(gradient, hessian)
    except np.linalg.LinAlgError:
        return cauchy
    if np.linalg.norm(newton) <= radius:
        return newton
    return cauchy + to_border(cauchy, newton - cauchy, radius) * (newton - cauchy)


def steihaug(
    gradient: Float[np.ndarray, " dim"],
    hvp: Callable[[Vector], Vector],
    radius: float,
    *,
    tol: float = 1e-8,
    max_iter: int | None = None,
) -> Float[np.ndarray, " dim"]:
    r"""Return the step by conjugate gradients that end at the border, as described at (8).

    Parameters
    ----------
    gradient : ndarray
        The gradient, not zero.
    hvp : callable
        Takes a vector and returns the Hessian times it. It is called once for each step of conjugate gradients.
    radius : float
        The radius of the ball.
    tol : float
        The $\eta$ of (8).
    max_iter : int, optional
        The largest number of steps of conjugate gradients, after which the point reached is returned; ten times the
        number of variables if not given.

    Returns
    -------
    ndarray
        The step.

    Examples
    --------
    >>> steihaug(np.array([2.0, 1.0]), lambda v: np.array([1.0, -5.0]) * v, 1.6).round(3)
    array([-1.431, -0.716])
    """
    limit = tol * float(np.linalg.norm(gradient))
    state = State(np.zeros_like(gradient), -gradient, -gradient, float(gradient @ gradient))
    for _ in range(max_iter or 10 * len(gradient)):
        product = hvp(state.direction)
        following = advance(state, product) if state.direction @ product > 0 else None
        if following is None or np.linalg.norm(following.x) >= radius:
            return state.x + to_border(state.x, state.direction, radius) * state.direction
        state = following
        if np.linalg.norm(state.residual) <= limit:
            break
    return state.x


def minimize(
    fun: Objective,
    grad: Gradient,
    hvp: HessianProduct,
    start: ArrayLike,
    *,
    method: Method = "steihaug",
    radius: float = 1.0,
    max_radius: float = 1000.0,
    accept: float = 0.15,
    forcing: float = 0.5,
    tol: float = 1e-6,
    max_iter: int = 200,
    record_path: bool = False,
) -> TrustResult:
    r"""Minimise a function within a trust region.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    hvp : callable
        Takes a point and a vector and returns the product of the second derivatives there with it. For the dogleg it
        must take a matrix, too, and multiply its columns.
    start : array_like
        Where to begin; not changed.
    method : {"steihaug", "dogleg"}
        How a step is found.
    radius, max_radius : float
        The first radius and the largest.
    accept : float
        A step is taken if its ratio (3) exceeds it; from 0 to 1/4, the latter excluded.
    forcing : float
        The exponent $\theta$ of Steihaug's tolerance below (8); 0 or more.
    tol : float
        The walk ends when no component of the gradient exceeds it.
    max_iter : int
        The largest number of trial steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    TrustResult
        `success` is true only for the message `CONVERGED` of `optim/gradient_descent`, which at a saddle it is too. The
        others are its `DIVERGED` (at the start, or where a step was taken and the gradient is not finite) and
        `OUT_OF_STEPS`; and `STALLED` if a step would no longer change the point, which is then neither tried nor counted.
        `nfev` counts evaluations of `fun`, that at the start included.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`; if `method` is
        unknown, `radius` is not positive and finite, `max_radius` is below it, `accept` does not lie in [0, 1/4), or
        `forcing` is negative; or if what `grad` or `hvp` returns has the wrong shape, or the latter is not finite.

    Examples
    --------
    >>> def fun(x):
    ...     return x[0] ** 4 + x[0] * x[1] + (1 + x[1]) ** 2
    >>> def grad(x):
    ...     return np.array([4 * x[0] ** 3 + x[1], x[0] + 2 * (1 + x[1])])
    >>> result = minimize(fun, grad, lambda x, v: np.array([[12 * x[0] ** 2, 1], [1, 2]]) @ v, [0.75, -1.25])
    >>> result.x.round(4), result.success, result.nit < 6
    (array([ 0.6959, -1.3479]), True, True)
    """
    # given: the checks
    x, grad, hvp = _checked(grad, hvp, start, method, radius, max_radius, accept, forcing, tol, max_iter)
    # yours
    value, gradient = float(fun(x)), grad(x)
    path, radii, ratios = [x], [], []
    for nit in range(max_iter + 1):
        if message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter):
            break
        step = _solve(gradient, partial(hvp, x), radius, method, forcing)
        if message := STALLED if (x + step == x).all() else None:
            break
        trial, ratio = _judge(fun, x, value, gradient, step, hvp(x, step))
        radii.append(radius)
        ratios.append(ratio)
        radius = next_radius(radius, ratio, float(np.linalg.norm(step)), max_radius)
        if ratio > accept:
            x, value, gradient = x + step, trial, grad(x + step)
        if record_path:
            path.append(x)
    points, success, nit = np.array(path) if record_path else None, message == CONVERGED, len(ratios)
    return TrustResult(x, value, nit, nit + 1, success, message or "", points, np.array(radii), np.array(ratios))


def _judge(  # given
    fun: Objective, x: Vector, value: float, gradient: Vector, step: Vector, product: Vector
) -> tuple[float, float]:
    """Return the objective after a step, and the ratio (3), with ten units of rounding for its epsilon."""
    trial, predicted = float(fun(x + step)), predicted_decrease(gradient, product, step)
    return trial, decrease_ratio(value, trial, predicted, rounding=10 * float(np.finfo(x.dtype).eps))


def _solve(gradient: Vector, hvp: Callable, radius: float, method: Method, forcing: float) -> Vector:  # given
    """Return the step by the method that was asked for."""
    if method == "dogleg":
        hessian = hvp(np.eye(len(gradient), dtype=gradient.dtype))
        return dogleg(gradient, (hessian + hessian.T) / 2, radius)
    return steihaug(gradient, hvp, radius, tol=min(0.5, float(np.linalg.norm(gradient)) ** forcing))


def _checked(  # given: argument checks
    grad: Gradient,
    hvp: HessianProduct,
    start: ArrayLike,
    method: str,
    radius: float,
    max_radius: float,
    accept: float,
    forcing: float,
    tol: float,
    max_iter: int,
) -> tuple[Vector, Gradient, HessianProduct]:
    """Return the start, and derivatives that refuse results of no use, or raise a ValueError."""
    if method not in ("steihaug", "dogleg"):
        raise ValueError(f"method must be 'steihaug' or 'dogleg', got {method!r}")
    if not 0 < radius < np.inf:
        raise ValueError(f"radius must be positive and finite, got {radius}")
    if not radius <= max_radius < np.inf:
        raise ValueError(f"max_radius must be finite and at least radius, {radius}, got {max_radius}")
    if not 0 <= accept < 0.25:
        raise ValueError(f"accept must be at least 0 and below 1/4, got {accept}")
    if not 0 <= forcing < np.inf:
        raise ValueError(f"forcing must be non-negative and finite, got {forcing}")
    start = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)

    def checked(x: Vector, v: np.ndarray) -> np.ndarray:
        product = np.asarray(hvp(x, v), dtype=x.dtype)
        if product.shape != v.shape:
            raise ValueError(f"hvp must return shape {v.shape}, got {product.shape}")
        if not np.isfinite(product).all():
            raise ValueError(f"hvp must be finite, got {product} at {x}")
        return product

    return start, checked_gradient(grad), checked
