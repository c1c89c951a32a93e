r"""Gradient descent: walk downhill, and know how far a step may go.

## Idea

The gradient points uphill, so step against it, and repeat. All the art is in the length of the step: too short
and nothing happens, too long and the walk climbs out of the valley. Three answers are compared here: one length for
all steps, the length that minimises a quadratic exactly, and a length found by trial.

## Maths

From a point $x_k$ with gradient $g_k = \nabla f(x_k)$, a step of size $a > 0$ is

$$x_{k+1} = x_k - a\, g_k. \tag{1}$$

**How long a step may be.** Let $f(x) = \tfrac12 (x - x^\star)^\top H (x - x^\star)$ with $H$ symmetric and its
eigenvalues between $\mu > 0$ and $L$. Then $g_k = H (x_k - x^\star)$, and (1) multiplies the error by a fixed matrix:

$$x_{k+1} - x^\star = (I - a H)(x_k - x^\star). \tag{2}$$

Along the eigenvector of eigenvalue $\lambda$, each step multiplies the error by $1 - a\lambda$. The slowest
direction decides:

$$\rho(a) = \max_i |1 - a \lambda_i| . \tag{3}$$

All directions shrink, $\rho(a) < 1$, if and only if

$$0 < a < \frac2L . \tag{4}$$

Since $|1 - a\lambda|$ is convex in $\lambda$, the maximum in (3) sits at one of the two ends. At $a = 1/L$ it is
$1 - 1/\kappa$, with the condition number $\kappa = L/\mu$. It is least where both ends balance, at $a = 2/(\mu + L)$:
there $\rho = (\kappa - 1)/(\kappa + 1)$.

A general $f$ whose gradient changes by at most $L \|x - y\|$ between $x$ and $y$ has the same limit: it lies
below the quadratic that touches it at $x_k$ with curvature $L$, so

$$f(x_k - a g_k) \le f(x_k) - a \left(1 - \tfrac12 a L\right) \|g_k\|^2 , \tag{5}$$

which guarantees a descent for every $a$ within (4).

**The exact step on a quadratic.** Along the ray, $\phi(a) = f(x_k - a g_k)$ is a parabola with
$\phi'(a) = -g_k^\top \nabla f(x_k - a g_k) = -g_k^\top g_k + a\, g_k^\top H g_k$. It is least at

$$a_k = \frac{g_k^\top g_k}{g_k^\top H g_k}. \tag{6}$$

That $\phi'(a_k) = 0$ says that the new gradient is orthogonal to the old one,

$$g_{k+1}^\top g_k = 0 , \tag{7}$$

so the walk turns by a right angle at every step. Kantorovich's inequality bounds what a step achieves,

$$f(x_{k+1}) - f(x^\star) \le \left(\frac{\kappa - 1}{\kappa + 1}\right)^2 \bigl(f(x_k) - f(x^\star)\bigr), \tag{8}$$

with equality from the worst start: no better than the best fixed step, but without knowing $\mu$ or $L$ [3].

**Backtracking.** Where no curvature is known, try a step and look. Armijo's condition [1] asks for a share
$c \in (0, 1)$ of the decrease that the slope promises:

$$f(x_k - a g_k) \le f(x_k) - c\, a\, \|g_k\|^2 . \tag{9}$$

Start from a hopeful $a$ and multiply it by a factor $s \in (0, 1)$ until (9) holds. It will: by (5), every
$a \le 2(1 - c)/L$ satisfies it, so the accepted step is never shorter than the least of the first trial and
$2s(1 - c)/L$.

**When to stop.** At a minimum the gradient vanishes, so the walk has converged when

$$\max_i |g_{k,i}| \le \text{tol}. \tag{10}$$

(The largest component rather than the Euclidean norm: squares of $10^{200}$ overflow.) Two more reasons to stop are
failures, and must be told as such: the value or the gradient is no longer a finite number, or the steps are used up.

## Worked example

Let $f(x, y) = \tfrac12 (x^2 + 10 y^2)$, so $\mu = 1$, $L = 10$, $\kappa = 10$, and start at $(10, 1)$, where $f = 55$
and the gradient is $g = (10, 10)$.

- *Limit*: $2/L = 0.2$. A step of exactly 0.2 leads to $(8, -1)$: $y$ only changes its sign, for ever.
- *Fixed step* $1/L = 0.1$: $(9, 0)$ with $f = 40.5$. From now on each step multiplies $x$ by $0.9 = 1 - 1/\kappa$.
- *Exact step*: $g^\top g = 200$ and $g^\top H g = 100 + 1000 = 1100$, so $a = 2/11$. The new point is
  $(90/11, -9/11) \approx (8.18, -0.82)$ with gradient $(8.18, -8.18)$, orthogonal to $(10, 10)$. Now $f = 36.8$, which
  is $0.669 = (9/11)^2$ of 55: this start is a worst case of (8).
- *Backtracking* with $c = 0.1$, $s = \tfrac12$ from $a = 1$. The promised bound is $55 - 0.1 \cdot 200\, a$. At $a = 1$
  the point is $(0, -9)$, $f = 405 > 35$. At $a = \tfrac12$: $(5, -4)$, $f = 92.5 > 45$. At $a = \tfrac14$:
  $(7.5, -1.5)$, $f = 39.4 \le 50$. Accepted, after three evaluations.

## Plan

- `step` takes a point, its gradient and a step size, and returns the next point by (1).
- `check_arguments` takes what a user may get wrong, refuses it, and returns the start as an array of floats of its own.
- `step_limit` takes a Hessian and returns the limit in (4).
- `contraction` takes a Hessian and a step size and returns the factor (3).
- `exact_step` takes a Hessian and a gradient and returns the step size (6).
- `backtrack` takes an objective, a point and a first step size and returns the first trial that satisfies (9) and gains.
- `stopping` takes what is known after a step and returns the reason to stop, by (10), or nothing.
- `minimize` puts them together: from a start to a result.

## Pitfalls

- The values jump between two numbers, or grow faster and faster.
- It zigzags across a narrow valley and hardly moves along it.
- `success` is true, and `x` holds NaN.
- The recorded path is the same point over and over.
- The line search accepts the first trial always, or never.
- Near the minimum no trial satisfies (9): the decrease it asks for is smaller than the rounding of $f$. Or
  every trial does, and the walk makes a thousand steps on the spot.

## Cost

One gradient a step, one evaluation of $f$ (backtracking: one for each trial), and O(dim) besides; the exact step needs
one product with $H$, O(dim²). Steps to reduce the error by a factor $\varepsilon$: about
$\tfrac12 \kappa \ln(1/\varepsilon)$ at the best fixed step. Evaluating $f$ is not needed for a fixed step, save to
notice that it has diverged.

## Go further

- *Experiment*: on a quadratic with $\kappa = 1000$, count the steps to `tol` for fixed steps between $0.1/L$ and
  $2.1/L$ and plot them. Where is the best, and how sharp is the edge?
- *Stretch*: Barzilai and Borwein [4] divide by the curvature that the *last* step met, instead of this one's. Write
  that rule in three lines, and compare. The values are no longer monotone: what does that do to a line search?

## References

1. Armijo (1966), Minimization of functions having Lipschitz continuous first partial derivatives,
   https://doi.org/10.2140/pjm.1966.16.1
2. Nesterov (2004), Introductory Lectures on Convex Optimization, chapter 1.2, https://doi.org/10.1007/978-1-4419-8853-9
3. Nocedal & Wright (2006), Numerical Optimization, chapter 3, https://doi.org/10.1007/978-0-387-40065-5
4. Barzilai & Borwein (1988), Two-point step size gradient methods, https://doi.org/10.1093/imanum/8.1.141
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient

CONVERGED = "converged: no component of the gradient exceeds tol"
DIVERGED = "diverged: the objective or its gradient is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the gradient fell to tol"
STALLED = "stopped: no trial step satisfied the Armijo condition"


@dataclass(frozen=True)
class LineSearch:
    """How a line search ended.

    Attributes
    ----------
    step_size : float
        The accepted step size; 0 if no trial was accepted.
    value : float
        The objective after that step.
    nfev : int
        Number of trials, each of which evaluates the objective once.
    """

    step_size: float
    value: float
    nfev: int


def step(
    x: Float[np.ndarray, " dim"], gradient: Float[np.ndarray, " dim"], step_size: float
) -> Float[np.ndarray, " dim"]:
    """Take one step against the gradient, by equation (1).

    Parameters
    ----------
    x : ndarray
        Where to step from. It is not changed.
    gradient : ndarray
        The gradient at `x`.
    step_size : float
        The length of the step in units of the gradient.

    Returns
    -------
    ndarray
        The next point, a new array.

    Examples
    --------
    >>> step(np.array([3.0, 1.0]), np.array([2.0, -4.0]), 0.5)
    array([2., 3.])
    """
    return x - step_size * gradient


def check_arguments(start: ArrayLike, *, step_size: float, tol: float, max_iter: int) -> Float[np.ndarray, " dim"]:
    """Refuse what no descent can work with, and return the start as a new array of floats.

    The start keeps its floating-point type (float32 stays float32); integers become float64.

    Parameters
    ----------
    start : array_like
        A vector of at least one number, all finite.
    step_size : float
        Positive and finite.
    tol : float
        The largest gradient that counts as zero; 0 or more, and finite.
    max_iter : int
        At least 1.

    Returns
    -------
    ndarray
        A copy of the start, which shares no memory with it.

    Raises
    ------
    ValueError
        If any of these does not hold; the message names the argument and the value (or shape) it got.

    Examples
    --------
    >>> check_arguments([1, 2], step_size=0.1, tol=1e-6, max_iter=100)
    array([1., 2.])
    >>> check_arguments([1, 2], step_size=-0.1, tol=1e-6, max_iter=100)
    Traceback (most recent call last):
    ValueError: step_size must be positive and finite, got -0.1
    """
    x = np.array(start)
    x = x if np.issubdtype(x.dtype, np.floating) else x.astype(float)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"start must be a vector of at least one number, got shape {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(f"start must be finite, got {x}")
    if not 0 < step_size < np.inf:  # written so that NaN fails it
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not 0 <= tol < np.inf:
        raise ValueError(f"tol must be non-negative and finite, got {tol}")
    if not max_iter >= 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
    return x


def step_limit(hessian: Float[np.ndarray, "dim dim"]) -> float:
    """Return the step size from which on gradient descent on a quadratic no longer converges: equation (4).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives, symmetric and positive definite.

    Returns
    -------
    float
        The limit, which itself is too long.

    Raises
    ------
    ValueError
        If `hessian` is not a finite, symmetric, positive definite matrix.

    Examples
    --------
    >>> print(step_limit(np.array([[3.0, 1.0], [1.0, 3.0]])))
    0.5
    """
    # given: the checks
    _check_hessian(hessian)
    # yours
    return float(2 / np.linalg.eigvalsh(hessian)[-1])


def contraction(hessian: Float[np.ndarray, "dim dim"], step_size: float) -> float:
    """Return the factor by which the slowest direction's error is multiplied at each step on a quadratic: equation (3).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives, symmetric and positive definite.
    step_size : float
        The fixed step size.

    Returns
    -------
    float
        Below 1 if descent converges from everywhere; 1 or more if it does not.

    Raises
    ------
    ValueError
        If `hessian` is not a finite, symmetric, positive definite matrix.

    Examples
    --------
    >>> hessian = np.array([[3.0, 1.0], [1.0, 3.0]])
    >>> print(*(f"{contraction(hessian, a):.4f}" for a in (0.25, 1 / 3, 0.6)))
    0.5000 0.3333 1.4000
    """
    # given: the checks
    _check_hessian(hessian)
    # yours
    return float(abs(1 - step_size * np.linalg.eigvalsh(hessian)).max())


def exact_step(hessian: Float[np.ndarray, "dim dim"], gradient: Float[np.ndarray, " dim"]) -> float:
    """Return the step size that minimises a quadratic along its negative gradient: equation (6).

    It depends on the direction of the gradient, not on its length, and holds for gradients of any representable length.

    Parameters
    ----------
    hessian : ndarray
        The second derivatives of the quadratic.
    gradient : ndarray
        The gradient where one stands.

    Returns
    -------
    float
        The step size; 0 where the gradient is zero.

    Raises
    ------
    ValueError
        If `hessian` is not curved upwards along the gradient: then there is no minimum that way.

    Examples
    --------
    >>> print(f"{exact_step(np.diag([1.0, 10.0]), np.array([10.0, 10.0])):.4f}")
    0.1818
    """
    scale = abs(gradient).max()
    if scale == 0:
        return 0.0
    direction = gradient / scale  # (6) divides squares, which over- or underflow long before the gradient does
    curvature = direction @ hessian @ direction
    if not curvature > 0:
        raise ValueError(f"hessian must be positive definite, got curvature {curvature} along the gradient")
    return float(direction @ direction / curvature)


def backtrack(
    fun: Objective,
    x: Float[np.ndarray, " dim"],
    value: float,
    gradient: Float[np.ndarray, " dim"],
    *,
    step_size: float = 1.0,
    shrink: float = 0.5,
    decrease: float = 1e-4,
    max_trials: int = 60,
) -> LineSearch:
    """Shorten a step until it satisfies the Armijo condition (9).

    The trials are `step_size`, then `shrink` times that, and so on; the first that satisfies (9) is taken. A trial at
    which the objective is NaN or infinite does not satisfy it. Nor does one whose value is not below `value`: where the
    decrease asked for is lost in rounding, (9) would let a step pass that gains nothing.

    Parameters
    ----------
    fun : callable
        The objective.
    x : ndarray
        Where to step from.
    value : float
        The objective at `x`.
    gradient : ndarray
        The gradient at `x`.
    step_size : float
        The first trial.
    shrink : float
        The factor $s$ between trials, between 0 and 1.
    decrease : float
        The share $c$ of the promised decrease that is asked for, between 0 and 1.
    max_trials : int
        After so many refused trials the search gives up.

    Returns
    -------
    LineSearch
        The accepted step size, the objective there and the number of trials. If none was accepted: 0, `value`,
        `max_trials`.

    Raises
    ------
    ValueError
        If `step_size` is not positive and finite, `shrink` or `decrease` is not strictly between 0 and 1, or
        `max_trials` is below 1.

    Examples
    --------
    >>> def bowl(x):
    ...     return x[0] ** 2 / 2 + 5 * x[1] ** 2
    >>> backtrack(bowl, np.array([10.0, 1.0]), 55.0, np.array([10.0, 10.0]), decrease=0.1)
    LineSearch(step_size=0.25, value=39.375, nfev=3)
    """
    # given: the checks
    if not 0 < step_size < np.inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not 0 < shrink < 1:
        raise ValueError(f"shrink must lie between 0 and 1, got {shrink}")
    if not 0 < decrease < 1:
        raise ValueError(f"decrease must lie between 0 and 1, got {decrease}")
    if max_trials < 1:
        raise ValueError(f"max_trials must be at least 1, got {max_trials}")
    # yours
    for trial in range(max_trials):
        candidate = float(fun(step(x, gradient, step_size)))
        bound = value - decrease * float((step_size * gradient) @ gradient)
        if np.isfinite(candidate) and candidate <= bound and candidate < value:
            return LineSearch(step_size, candidate, trial + 1)
        step_size *= shrink
    return LineSearch(0.0, value, max_trials)


def stopping(value: float, gradient: Float[np.ndarray, " dim"], nit: int, *, tol: float, max_iter: int) -> str | None:
    """Return the reason to stop, or None to go on.

    Parameters
    ----------
    value : float
        The objective at the point reached.
    gradient : ndarray
        The gradient there.
    nit : int
        Number of steps made so far.
    tol : float
        The largest gradient component that counts as zero, in (10).
    max_iter : int
        The largest number of steps.

    Returns
    -------
    str or None
        `DIVERGED` if the value or any component of the gradient is NaN or infinite; otherwise `CONVERGED` if (10)
        holds, even if the steps are used up as well; otherwise `OUT_OF_STEPS` if they are.

    Examples
    --------
    >>> stopping(1.0, np.array([1e-9, -1e-8]), 3, tol=1e-6, max_iter=10)
    'converged: no component of the gradient exceeds tol'
    >>> stopping(1.0, np.array([0.1, -0.2]), 3, tol=1e-6, max_iter=10) is None
    True
    """
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        return DIVERGED
    if abs(gradient).max() <= tol:
        return CONVERGED
    return OUT_OF_STEPS if nit >= max_iter else None


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    rule: Literal["fixed", "exact", "armijo"] = "fixed",
    step_size: float = 1.0,
    hessian: Float[np.ndarray, "dim dim"] | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a function by gradient descent.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    rule : {"fixed", "exact", "armijo"}
        The length of a step: always `step_size`; by (6); or by `backtrack` with its defaults, which begins each search at `step_size`.
    step_size : float
        The step size, or the first trial of each line search. Not used by the exact rule.
    hessian : ndarray, optional
        The second derivatives of a quadratic objective, which the exact rule needs.
    tol : float
        Converged when no component of the gradient exceeds it: (10).
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields `x` and `fun`, the last point and the objective there, both as they are, finite or not; `nit`, `nfev`,
        `success`, `message`; and `path`, None unless `record_path` is set. `success` is true only for the message
        `CONVERGED`; the others are `DIVERGED`, `OUT_OF_STEPS` and, if a line search found no step, `STALLED`. `nit`
        counts steps made, `nfev` calls of `fun`, that at the start included. `path` has `nit + 1` rows, from the start to `x`.

    Raises
    ------
    ValueError
        If an argument is refused by `check_arguments`, `rule` is unknown, `hessian` is missing or has the wrong shape,
        or `grad` returns the wrong shape.

    Examples
    --------
    >>> result = minimize(lambda x: x @ x, lambda x: 2 * x, [3.0, -4.0], step_size=0.4)
    >>> result.success, result.nit, bool(abs(result.x).max() < 1e-6)
    (True, 10, True)
    """
    # given: the checks of what only this function takes
    _check_rule(rule, hessian, np.size(start))
    grad = checked_gradient(grad)
    # yours
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    value, gradient, nit, nfev, path = float(fun(x)), grad(x), 0, 1, [x]
    while (message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter)) is None:
        if rule == "armijo":
            search = backtrack(fun, x, value, gradient, step_size=step_size)
        else:
            length = exact_step(np.asarray(hessian), gradient) if rule == "exact" else step_size
            search = LineSearch(length, float(fun(step(x, gradient, length))), 1)
        nfev += search.nfev
        if search.step_size == 0:
            message = STALLED
            break
        x, value = step(x, gradient, search.step_size), search.value
        gradient, nit = grad(x), nit + 1
        if record_path:
            path.append(x)
    return OptimizeResult(x, value, nit, nfev, message == CONVERGED, message, np.array(path) if record_path else None)


def _check_rule(rule: str, hessian: Float[np.ndarray, "dim dim"] | None, dim: int) -> None:  # given
    """Refuse an unknown rule, and an exact one without a Hessian that fits."""
    if rule not in ("fixed", "exact", "armijo"):
        raise ValueError(f"rule must be 'fixed', 'exact' or 'armijo', got {rule!r}")
    if rule == "exact" and (hessian is None or hessian.shape != (dim, dim)):
        found = None if hessian is None else f"shape {hessian.shape}"
        raise ValueError(f"hessian must be a matrix that fits start for the exact rule, got {found}")


def _check_hessian(hessian: Float[np.ndarray, "dim dim"]) -> None:  # given
    """Refuse what is not the Hessian of a bowl."""
    if hessian.ndim != 2 or hessian.shape[0] != hessian.shape[1] or not hessian.size:
        raise ValueError(f"hessian must be a square matrix, got shape {hessian.shape}")
    if not np.isfinite(hessian).all():
        raise ValueError(f"hessian must be finite, got {hessian}")
    if abs(hessian - hessian.T).max() > 1e-6 * abs(hessian).max():
        raise ValueError(f"hessian must be symmetric, got {hessian}")
    if not (least := np.linalg.eigvalsh(hessian)[0]) > 0:
        raise ValueError(f"hessian must be positive definite, got the eigenvalue {least}")
