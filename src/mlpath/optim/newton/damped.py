r"""Damped Newton: second derivatives, and what to do where they point uphill.

## Idea

Where gradient descent follows a slope, Newton's method fits a parabola and jumps to its bottom. Near a minimum that
doubles the number of right digits at every step, whatever the scales of the variables. Far from it three things go
wrong. The parabola fits badly, and the jump is too long: so shorten it by a line search. The parabola opens downwards,
and its 'bottom' is a maximum or a saddle: so change the matrix just enough to be positive definite, while it is being
factorised. And at a saddle itself the gradient says that all is well: so ask the matrix before you believe it.

## Maths

**The step.** With $g = \nabla f(x)$ and $H = \nabla^2 f(x)$, the model $f(x) + g^\top p + \tfrac12 p^\top H p$ is
least, if $H$ is positive definite, where its gradient $g + H p$ vanishes:

$$H p = -g . \tag{1}$$

One Cholesky factorisation $H = L L^\top$ solves it, and tells by failing that $H$ is not positive definite. The
slope along the step is $g^\top p = -g^\top H^{-1} g < 0$: downhill. The **Newton decrement** [1]

$$\lambda = \sqrt{g^\top H^{-1} g} = \sqrt{-g^\top p} \tag{2}$$

is the length of the step as the matrix measures it, $\sqrt{p^\top H p}$; and $\tfrac12 \lambda^2$ is what the model
promises to gain.

**Affine invariance.** Write $x = T y$ with any invertible $T$, and minimise $\tilde f(y) = f(T y)$ instead. Its
derivatives are $\tilde g = T^\top g$ and $\tilde H = T^\top H T$, and its step is

$$\tilde p = -(T^\top H T)^{-1} T^\top g = T^{-1} p . \tag{3}$$

So $x + p = T (y + \tilde p)$: the same point, the same slope $\tilde g^\top \tilde p = g^\top p$ and the same
decrement. Units and condition numbers do not matter. No method of gradients has that.

**Quadratic convergence.** Let $e = x - x^\star$. Since $g(x^\star) = 0$, the error after a full step is
$e + p = H^{-1}\bigl(H e - g(x) + g(x^\star)\bigr)$, and the bracket is the error of a first-order expansion: if the
second derivatives change by at most $M \|x - y\|$ between $x$ and $y$, it is at most $\tfrac12 M \|e\|^2$. Hence

$$\|e_{k+1}\| \le \tfrac12 M\, \|H_k^{-1}\|\, \|e_k\|^2 . \tag{4}$$

If errors obey $e_{k+1} \approx C e_k^q$, three in a row give the *order* $q$ without $C$:

$$q \approx \frac{\log (e_{k+1} / e_k)}{\log (e_k / e_{k-1})} . \tag{5}$$

**Damping.** Armijo's condition with a share $c_1 < \tfrac12$, beginning with the full step, shortens what is too long,
and leaves full steps alone near the minimum, where the model is nearly exact: the order stays 2.

**Where $H$ is not positive definite** (1) may lead uphill. Solve it with $H + E$ instead, positive definite, and with
$E = 0$ where $H$ needs no help. The plain way is a **multiple of the identity**, $E = \tau I$, by trial: let $s$ be
$10^{-3}$ times the largest entry of $H$ in size. Begin with

$$\tau = 0 \ \text{ if } \min_i h_{ii} > 0, \text{ else } \ s - \min_i h_{ii} , \tag{6}$$

and as long as Cholesky's factorisation fails, replace $\tau$ by $\max(2 \tau, s)$. As $h_{ii} \ge \lambda_{\min}$, in
the end $\tau \le 2 |\lambda_{\min}| + s$.

A **modified factorisation** [2] does it at one go. It computes $H = L D L^\top$ column by column, with ones on the
diagonal of $L$,

$$c_{ij} = h_{ij} - \sum_{k < j} d_k\, l_{ik} l_{jk} \quad (i \ge j), \qquad
l_{ij} = c_{ij} / d_j \quad (i > j), \tag{7}$$

where Cholesky would take $d_j = c_{jj}$ for its pivot. Gill, Murray and Wright take one that is surely positive, and
not so small that the column of the factor would explode:

$$d_j = \max\Bigl(|c_{jj}|,\ \frac{\theta_j^2}{\beta^2},\ \delta\Bigr), \qquad
\theta_j = \max_{i > j} |c_{ij}| . \tag{8}$$

What they add is $e_j = d_j - c_{jj} \ge 0$, on the diagonal only: $L D L^\top = H + \operatorname{diag}(e)$. The second
number in (8) keeps $|l_{ij}| \sqrt{d_j} \le \beta$. With $\gamma$ the largest $|h_{ii}|$ and $\xi$ the largest of all
$|h_{ij}|$,

$$\beta^2 = \max\Bigl(\gamma,\ \frac{\xi}{\sqrt{n^2 - 1}}\Bigr), \qquad \delta = 10^{-8}\, \xi . \tag{9}$$

$\beta^2 \ge \gamma$ makes sure that $E = 0$ for a positive definite $H$ (whose pivots are at least $\delta$), since its
Cholesky factor has entries of at most $\sqrt\gamma$; the second number keeps $E$ small. (Their $\delta$ is as small as
rounding allows, and they exchange rows to keep $E$ smaller still; we do neither.) For $n = 1$ put 1 under the root.

**At a saddle** $g = 0$ and (1) gives no step. If the least eigenvalue of $H$ is negative, its eigenvector $v$ leads
out:

$$f(x \pm a v) \approx f(x) \pm a\, g^\top v - \tfrac12 a^2 |\lambda_{\min}| . \tag{10}$$

## Worked example

$H = \begin{pmatrix} 2 & 4 \\ 4 & 3 \end{pmatrix}$ has the determinant $-10$: indefinite. Let $g = (2, 1)$.

- *As it is*: (1) gives $p = (0.2, -0.6)$ with $g^\top p = -0.2$, downhill by luck. For $g = (1, 2)$ it is
  $p = (-0.5, 0)$; for $g = (0, 1)$ it is $(-0.4, 0.2)$ with the slope $+0.2$: uphill.
- *A multiple of the identity*: the diagonal is positive, so $\tau = 0$ is tried, and fails. $s = 0.004$, and then
  $\tau = 0.004, 0.008, \dots$ until $0.004 \cdot 2^9 = 2.048$, the first beyond $-\lambda_{\min} = 1.531$.
- *Modified*: $\gamma = 3$, $\xi = 4$, $n = 2$, so $\beta^2 = \max(3, 4/\sqrt3) = 3$. First column: $c_{11} = 2$,
  $\theta_1 = 4$, $d_1 = \max(2, 16/3) = 16/3$, $e_1 = 10/3$, $l_{21} = 3/4$. Second:
  $c_{22} = 3 - \tfrac{16}3 \cdot \tfrac9{16} = 0$, so $d_2 = \delta = 4 \cdot 10^{-8}$. The matrix is
  $\begin{pmatrix} 5.33 & 4 \\ 4 & 3 \end{pmatrix}$, just positive definite.
- *Order*: $x^2 - 2$ has its root at $1.41421$. Newton from $2$: errors $0.0858, 0.00245, 2.12 \cdot 10^{-6}$, and
  (5) gives $7.05/3.56 = 1.98$.

## Plan

- `newton_step` takes gradient and Hessian and returns the step (1), by Cholesky.
- `newton_decrement` takes the gradient and the step and returns (2).
- `estimate_order` takes errors and returns the orders (5).
- `add_identity` takes a Hessian and returns a Cholesky factor of $H + \tau I$, and $\tau$.
- `modified_cholesky` takes a Hessian and returns a Cholesky factor of $H + \operatorname{diag}(e)$, and $e$.
- `saddle_direction` takes a Hessian and a gradient and returns a way out, by (10), or nothing.
- `minimize` walks.

Given: `_direction` solves by the factor that was asked for, and `_search` searches along it. Use `cholesky` and `solve`
of `linalg/cholesky`: the latter takes the factor and a right-hand side.

## Pitfalls

- It converges fast, to a maximum.
- From a bad start the values explode at the first step.
- It reports success at a saddle.
- It converges at a steady rate, and no faster towards the end.
- $L L^\top$ differs from $H$, though $H$ was positive definite.
- Close to the minimum the line search finds nothing lower: the gain is less than the rounding of $f$.

## Cost

A Hessian, $n^3/3$ operations for its factor and $2 n^2$ for the solution at each step; about one value and one
gradient. So it is for up to some thousand variables. The benchmark finds it to take 0.8 to 1.5 times as long as SciPy's
trust-exact, and 3.3 times for 30 variables: `linalg/cholesky` factorises and solves by loops in Python, on purpose,
where SciPy calls LAPACK.

## Go further

- *Experiment*: start from each point of a grid on Himmelblau's function, by the pure and by the damped method, and
  colour it by where the walk ends. (The figure does; try your own function.)
- *Stretch*: Cheng and Higham [3] factorise with pivots of two by two, and change only the blocks: compare the size of
  their $E$ with (8) on random indefinite matrices.

## References

1. Boyd & Vandenberghe (2004), Convex Optimization, chapter 9, https://doi.org/10.1017/CBO9780511804441
2. Gill & Murray (1974), Newton-type methods for unconstrained and linearly constrained optimization,
   https://doi.org/10.1007/BF01585529
3. Cheng & Higham (1998), A modified Cholesky algorithm based on a symmetric indefinite factorization,
   https://doi.org/10.1137/S0895479896302898
4. Nocedal & Wright (2006), Numerical Optimization, chapter 3, https://doi.org/10.1007/978-0-387-40065-5
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg.cholesky import cholesky, solve
from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.line_search import Ray, armijo_search

Hessian = Callable[[Vector], np.ndarray]
Method = Literal["modified", "identity", "pure"]

SADDLE = "stopped: the gradient has fallen to tol at a point that is no minimum, see `direction`"
STALLED = "stopped: no step along the direction was lower"


@dataclass(frozen=True)
class NewtonResult(OptimizeResult):
    """What a minimisation by Newton's method ended with, beside what every result of this room holds.

    Attributes
    ----------
    decrements : ndarray
        The Newton decrement of each step, with the matrix that was used: `nit` numbers.
    direction : ndarray or None
        At a saddle or a maximum, a direction of negative curvature.
    """

    decrements: Float[np.ndarray, " nit"] = field(default_factory=lambda: np.zeros(0))
    direction: Float[np.ndarray, " dim"] | None = None


def newton_step(
    gradient: Float[np.ndarray, " dim"], hessian: Float[np.ndarray, "dim dim"]
) -> Float[np.ndarray, " dim"]:
    """Return Newton's step, equation (1).

    Parameters
    ----------
    gradient : ndarray
        The gradient.
    hessian : ndarray
        The second derivatives, symmetric.

    Returns
    -------
    ndarray
        The step to the bottom of the model.

    Raises
    ------
    LinAlgError
        If `hessian` is not positive definite.

    Examples
    --------
    >>> newton_step(np.array([2.0, 4.0]), np.array([[2.0, 1.0], [1.0, 3.0]]))
    array([-0.4, -1.2])
    """
    return -solve(cholesky(hessian), gradient)


def newton_decrement(gradient: Float[np.ndarray, " dim"], step: Float[np.ndarray, " dim"]) -> float:
    """Return the Newton decrement, equation (2).

    Parameters
    ----------
    gradient : ndarray
        The gradient.
    step : ndarray
        The step by (1), with whichever positive definite matrix.

    Returns
    -------
    float
        The root of minus the slope along the step; NaN if the step leads uphill.

    Examples
    --------
    >>> print(f"{newton_decrement(np.array([2.0, 4.0]), np.array([-0.4, -1.2])):.4f}")
    2.3664
    """
    slope = float(gradient @ step)
    return (-slope) ** 0.5 if slope <= 0 else np.nan


def estimate_order(errors: Float[np.ndarray, " n_errors"]) -> Float[np.ndarray, " n_orders"]:
    """Return the order of convergence that each three errors in a row tell, equation (5).

    Parameters
    ----------
    errors : ndarray
        Errors along a walk, positive, at least three, of which no two in a row are equal.

    Returns
    -------
    ndarray
        Two fewer estimates than errors.

    Raises
    ------
    ValueError
        If `errors` has fewer than three entries, or one that is not positive and finite.

    Examples
    --------
    >>> estimate_order(np.array([1e-1, 1e-2, 1e-4, 1e-8]))
    array([2., 2.])
    """
    # given: the check
    if len(errors) < 3 or not np.all((errors > 0) & (errors < np.inf)):
        raise ValueError(f"errors must be at least three positive, finite numbers, got {errors}")
    # yours
    gains = np.diff(np.log(errors))
    return gains[1:] / gains[:-1]


def add_identity(
    hessian: Float[np.ndarray, "dim dim"], *, shift: float = 1e-3
) -> tuple[Float[np.ndarray, "dim dim"], float]:
    r"""Factorise a Hessian plus a multiple of the identity that makes it positive definite, by (6) and below.

    Parameters
    ----------
    hessian : ndarray
        The second derivatives, symmetric.
    shift : float
        The least multiple that is tried beside 0, as a share of the largest entry in size (of 1 for the zero matrix).

    Returns
    -------
    lower : ndarray
        The Cholesky factor of $H + \tau I$.
    tau : float
        The multiple; 0 if `hessian` is positive definite.

    Raises
    ------
    LinAlgError
        If none of a hundred trials succeeds, that of 0 included.

    Examples
    --------
    >>> lower, tau = add_identity(np.array([[2.0, 4.0], [4.0, 3.0]]))
    >>> print(f"{tau:.3f}")
    2.048
    """
    least, s = float(np.diag(hessian).min()), shift * float(abs(hessian).max() or 1.0)
    tau = 0.0 if least > 0 else s - least
    for _ in range(100):
        try:
            return cholesky(hessian + tau * np.eye(len(hessian), dtype=hessian.dtype)), tau
        except np.linalg.LinAlgError:
            tau = max(2 * tau, s)
    raise np.linalg.LinAlgError(f"no multiple of the identity up to {tau} makes the matrix positive definite")


def modified_cholesky(
    hessian: Float[np.ndarray, "dim dim"], *, floor: float = 1e-8
) -> tuple[Float[np.ndarray, "dim dim"], Float[np.ndarray, " dim"]]:
    r"""Factorise a Hessian plus a diagonal that makes it positive definite, by (7) to (9).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives, symmetric. They are not changed.
    floor : float
        The least pivot $\delta$, as a share of the largest entry in size (of 1 for the zero matrix).

    Returns
    -------
    lower : ndarray
        The Cholesky factor of $H + \operatorname{diag}(e)$, which is $L D^{1/2}$.
    added : ndarray
        What was added to the diagonal, $e$; 0 but for rounding where nothing had to be.

    Examples
    --------
    >>> lower, added = modified_cholesky(np.array([[2.0, 4.0], [4.0, 3.0]]))
    >>> print(lower.round(3), added.round(4))
    [[2.309 0.   ]
     [1.732 0.   ]] [3.3333 0.    ]
    """
    n, diagonal, largest = len(hessian), abs(np.diag(hessian)).max(), abs(hessian).max()
    squared = max(diagonal, largest / max(n * n - 1, 1) ** 0.5)
    least = floor * (largest or 1.0)
    lower, added = np.zeros_like(hessian), np.zeros_like(hessian[0])
    for j in range(n):
        column = hessian[j:, j] - lower[j:, :j] @ lower[j, :j]
        theta = abs(column[1:]).max(initial=0.0)
        pivot = max(abs(column[0]), theta**2 / squared if theta else 0.0, least)
        added[j] = pivot - column[0]
        lower[j, j] = pivot**0.5
        lower[j + 1 :, j] = column[1:] / lower[j, j]
    return lower, added


def saddle_direction(
    hessian: Float[np.ndarray, "dim dim"], gradient: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, " dim"] | None:
    """Return a direction along which the function curves downwards, by (10), if there is one.

    Parameters
    ----------
    hessian : ndarray
        The second derivatives, symmetric.
    gradient : ndarray
        The gradient, which may be zero.

    Returns
    -------
    ndarray or None
        A unit vector of the least eigenvalue, along which the gradient does not rise; None if that eigenvalue is not
        below minus 1e-8 times the largest in size: then it may be rounding.

    Examples
    --------
    >>> abs(saddle_direction(np.diag([2.0, -1.0, 3.0]), np.zeros(3)))
    array([0., 1., 0.])
    >>> saddle_direction(np.eye(2), np.zeros(2)) is None
    True
    """
    values, vectors = np.linalg.eigh(hessian)
    if not values[0] < -1e-8 * abs(values).max():
        return None
    v = vectors[:, 0]
    return -v if gradient @ v > 0 else v


def minimize(
    fun: Objective,
    grad: Gradient,
    hess: Hessian,
    start: ArrayLike,
    *,
    method: Method = "modified",
    decrease: float = 1e-4,
    tol: float = 1e-6,
    max_iter: int = 100,
    record_path: bool = False,
) -> NewtonResult:
    """Minimise a function by Newton's method.

    Parameters
    ----------
    fun, grad, hess : callable
        The objective, its gradient and its second derivatives.
    start : array_like
        Where to begin; not changed.
    method : {"modified", "identity", "pure"}
        The matrix: by `modified_cholesky`, by `add_identity`, each with Armijo's search from the full step; or the
        Hessian as it is, with full steps.
    decrease : float
        The share of Armijo's condition, between 0 and 1/2.
    tol : float
        The walk ends when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    NewtonResult
        `success` is true only for the message `CONVERGED` of `optim/gradient_descent`. The others are its `DIVERGED`
        and `OUT_OF_STEPS`; `SADDLE` if the gradient has fallen to `tol` where `saddle_direction` finds one, which is
        returned; and `STALLED` if a search found no step. `nfev` counts evaluations of `fun`, that at the start
        included.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`, `method` is
        unknown, `decrease` does not lie between 0 and 1/2, or what `grad` or `hess` returns has the wrong shape, or the
        latter is not finite or not symmetric.
    LinAlgError
        If the pure method meets a singular Hessian.

    Examples
    --------
    >>> def fun(x):
    ...     return x[0] ** 4 + x[0] * x[1] + (1 + x[1]) ** 2
    >>> def grad(x):
    ...     return np.array([4 * x[0] ** 3 + x[1], x[0] + 2 * (1 + x[1])])
    >>> result = minimize(fun, grad, lambda x: np.array([[12 * x[0] ** 2, 1], [1, 2]]), [0.75, -1.25])
    >>> result.x.round(4), result.success, result.nit < 6
    (array([ 0.6959, -1.3479]), True, True)
    """
    # given: the checks
    x, grad, hess = _checked(grad, hess, start, method, decrease, tol, max_iter)
    # yours
    value, gradient, nfev, message, out = float(fun(x)), grad(x), 1, "", None
    path, decrements, nit = [x], [], 0
    for nit in range(max_iter + 1):
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter) or ""
        if message == CONVERGED and (out := saddle_direction(hess(x), gradient)) is not None:
            message = SADDLE
        if message:
            break
        direction = _direction(gradient, hess(x), method)
        step_size, value, following, trials = _search(fun, grad, x, direction, value, gradient, method, decrease)
        nfev += trials
        if step_size == 0:
            message = STALLED
            break
        decrements.append(newton_decrement(gradient, direction))
        x, gradient = x + step_size * direction, following
        path.append(x)
    points = np.array(path) if record_path else None
    return NewtonResult(x, value, nit, nfev, message == CONVERGED, message, points, np.array(decrements), out)


def _direction(gradient: Vector, hessian: np.ndarray, method: Method) -> Vector:  # given
    """Return the direction of a step, by the method that was asked for."""
    if method == "pure":
        return -np.linalg.solve(hessian, gradient)
    lower, _ = modified_cholesky(hessian) if method == "modified" else add_identity(hessian)
    return -solve(lower, gradient)


def _search(  # given
    fun: Objective,
    grad: Gradient,
    x: Vector,
    direction: Vector,
    value: float,
    gradient: Vector,
    method: Method,
    decrease: float,
) -> tuple[float, float, Vector, int]:
    """Return step size, value and gradient after the step, and how often the objective was evaluated.

    The full step, for the pure method; and where the slope promises less than the rounding of the objective, which no
    search could see. Else Armijo's.
    """
    slope = float(gradient @ direction)
    if method == "pure" or 0 <= -slope <= 100 * np.finfo(x.dtype).eps * abs(value):
        full = x + direction
        return 1.0, float(fun(full)), grad(full), 1
    if not -np.inf < slope < 0:
        return 0.0, value, gradient, 0
    found = armijo_search(Ray(fun, grad, x, direction, value=value, gradient=gradient), decrease=decrease)
    return (found.step_size if found.value < value else 0.0), found.value, found.gradient, found.nfev


def _checked(  # given: argument checks
    grad: Gradient, hess: Hessian, start: ArrayLike, method: str, decrease: float, tol: float, max_iter: int
) -> tuple[Vector, Gradient, Hessian]:
    """Return the start, and derivatives that refuse results of no use, or raise a ValueError."""
    if method not in ("modified", "identity", "pure"):
        raise ValueError(f"method must be 'modified', 'identity' or 'pure', got {method!r}")
    if not 0 < decrease < 0.5:
        raise ValueError(f"decrease must lie between 0 and 1/2, got {decrease}")
    start = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)

    def checked(x: Vector) -> np.ndarray:
        hessian = np.asarray(hess(x), dtype=x.dtype)
        if hessian.shape != (len(x), len(x)):
            raise ValueError(f"hess must return shape {(len(x), len(x))}, got {hessian.shape}")
        if not np.isfinite(hessian).all():
            raise ValueError(f"hess must be finite, got {hessian} at {x}")
        if abs(hessian - hessian.T).max() > 1e-5 * abs(hessian).max():
            raise ValueError(f"hess must be symmetric, got {hessian} at {x}")
        return (hessian + hessian.T) / 2

    return start, checked_gradient(grad), checked
