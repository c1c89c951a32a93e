r"""Gauss-Newton and Levenberg-Marquardt: fitting curves by nonlinear least squares.

## Idea

A curve is fitted by making a sum of squared residuals small. For a straight line that is one linear least-squares
problem. For any other curve draw the tangent: near the present parameters the residuals are nearly linear, so solve the
linear problem, step, and draw the next tangent. That is the Gauss-Newton method. It needs first derivatives only, and
where the fit is good it converges like Newton's. Far away the tangent lies, and the step overshoots. Levenberg and
Marquardt hold it back by a penalty on its length, which grows where the tangent was wrong and shrinks where it was
right: a trust region in disguise. And when it has converged, the same tangent tells how well the parameters are known.

## Maths

**The problem.** With $n$ residuals $r(x)$ of $p$ parameters $x$ and their Jacobian $J_{ij} = \partial r_i / \partial x_j$,

$$f(x) = \tfrac12 \|r(x)\|^2, \qquad \nabla f = J^\top r, \qquad \nabla^2 f = J^\top J + S, \qquad
S = \sum_i r_i \nabla^2 r_i . \tag{1}$$

**Gauss-Newton** replaces $r(x + h)$ by $r + J h$ and solves

$$h = \arg\min_h \|J h + r\|^2 . \tag{2}$$

That is Newton's step without $S$. Solve (2) from $J$ itself, never from $J^\top J$, whose condition number is the
square of $J$'s. If the columns of $J$ are dependent, take the shortest of all solutions.

**How fast.** At a minimum $x^\star$ the error after a step is

$$e_{k+1} = -(J^\top J)^{-1} S\, e_k + O(\|e_k\|^2) . \tag{3}$$

If the residuals vanish there, so does $S$, and convergence is quadratic. Otherwise it is linear, at a rate of the
largest eigenvalue in size of $(J^\top J)^{-1} S$: large residuals and curved models make it slow. Beyond 1 the method
is repelled by the very minimum.

**Levenberg-Marquardt.** Add a penalty with a damping $\mu > 0$ and a scale $d_j > 0$ of each parameter:

$$h = \arg\min_h \|J h + r\|^2 + \mu \|D h\|^2, \qquad D = \operatorname{diag}(d) . \tag{4}$$

In $q = D h$ it is a linear least-squares problem with more rows, again without $J^\top J$:

$$\min_q \left\| \begin{pmatrix} J D^{-1} \\ \sqrt\mu\, I \end{pmatrix} q + \begin{pmatrix} r \\ 0 \end{pmatrix}
\right\|^2, \qquad h = D^{-1} q . \tag{5}$$

For $\mu \to 0$ it is Gauss-Newton's step; for large $\mu$ the short one $-D^{-2} J^\top r / \mu$ downhill. And among all
steps with $\|D h\|$ no longer than its own it makes $\|J h + r\|$ least: it *is* the step of a trust region, whose
radius is told by $\mu$. Moré [3] takes for $d_j$ the largest norm that column $j$ of $J$ has had so far (and 1 for a
column of zeros). Then the walk does not depend on the units of the parameters.

**Was the tangent right?** With the trial residuals $r^+ = r(x + h)$ and the linear ones $l = r + J h$,

$$\rho = \frac{\|r\|^2 - \|r^+\|^2 + \delta}{\|r\|^2 - \|l\|^2 + \delta} =
\frac{(r - r^+)^\top (r + r^+) + \delta}{(r - l)^\top (r + l) + \delta}, \qquad \delta = \varepsilon \|r\|^2 , \tag{6}$$

where the second form loses fewer digits. The $\delta$, with an $\varepsilon$ of ten times the precision of the residuals'
dtype, is nothing at first; it takes over where both decreases sink to rounding, and then $\rho \to 1$. $\rho = -\infty$
where $r^+$ is not finite, or the promised decrease $\|r\|^2 - \|l\|^2$ not positive. A step with $\rho > 0$ is taken.
Nielsen [4] changes the damping, and a factor $\nu$ that begins with 2, smoothly:

$$\begin{aligned} \rho > 0: &\quad \mu \leftarrow \mu \max\bigl(\tfrac13,\ 1 - (2 \rho - 1)^3\bigr), \quad \nu \leftarrow 2, \\
\text{else:} &\quad \mu \leftarrow \mu \nu, \quad \nu \leftarrow 2 \nu . \end{aligned} \tag{7}$$

**When to stop.** At a minimum $J^\top r = 0$: the residuals are orthogonal to each column. Orthogonality is an angle,

$$\max_j \frac{|J_j^\top r|}{\|J_j\|\, \|r\|} , \tag{8}$$

free of the units of data and parameters. If the residuals themselves vanish, (8) is nothing but rounding at the end; so
stop, too, when $\|D h\| \le \tau \|D x\|$: the parameters no longer change. (Gauss and Newton, who have no $D$ of their
own, take the norms of the columns at the point before the step. Whether $x$ is the point before or after makes no
difference.)

**How well are they known?** If the observations have independent errors of variance $\sigma^2$, then to first order
the fitted parameters have the covariance $\sigma^2 (J^\top J)^{-1}$. With $n - p$ degrees of freedom

$$s^2 = \frac{\|r\|^2}{n - p}, \qquad \operatorname{Cov} = s^2 (J^\top J)^{-1} = s^2 R^{-1} R^{-\top} \quad\text{for } J = Q R ,
\tag{9}$$

and the standard errors are the roots of its diagonal. Divide the columns of $J$ by their norms first, so that
whether they are dependent is no question of units.

## Worked example

Fit $y = b_1 e^{b_2 t}$ to $(0, 2), (1, 3)$ from $b = (1, 0)$.

- $r = (1 - 2, 1 - 3) = (-1, -2)$ and $J = \begin{pmatrix} 1 & 0 \\ 1 & 1 \end{pmatrix}$. (2) gives $h = (1, 1)$:
  $b = (2, 1)$, $r^+ = (0, 2.4366)$: $\|r\|^2 = 5$ has become $5.937$. Too far, since $\rho = -0.937/5 = -0.187$.
- $D = (\sqrt2, 1)$. (4) with $\mu = 0.5$: $(J^\top J + \mu D^2) h = -J^\top r$ is
  $\begin{pmatrix} 3 & 1 \\ 1 & 1.5 \end{pmatrix} h = (3, 2)$, so $h = (0.7143, 0.8571)$ and $r^+ = (-0.2857, 1.0395)$,
  $\|r^+\|^2 = 1.162$. $l = (-0.2857, -0.4286)$, $\|l\|^2 = 0.2653$, $\rho = 3.838/4.735 = 0.8106$.
- (7): $2 \rho - 1 = 0.621$, $1 - 0.2397 = 0.7603$: the damping becomes $0.380$.
- (8) at the start: $J_1^\top r = -3$ over $\sqrt2 \cdot \sqrt5$ is $0.9487$, the larger.

## Plan

`residuals` and `jacobian` are functions of the parameters.

- `gauss_newton_step` takes Jacobian and residuals and returns (2).
- `damped_step` takes them, the damping and the scale and returns (4), by (5).
- `gain_ratio` takes residuals, trial residuals and linear residuals and returns (6).
- `next_damping` takes $\mu$, $\nu$ and $\rho$ and returns the next $\mu$ and $\nu$, by (7).
- `optimality` takes Jacobian and residuals and returns (8).
- `gauss_newton` and `levenberg_marquardt` walk.
- `uncertainty` takes Jacobian and residuals and returns (9).

`np.linalg.lstsq` solves linear problems by orthogonal factors, and returns the shortest solution if there are several;
`solve_triangular` of `linalg/least_squares` takes an upper triangle and one or more right-hand sides. Given are `_scale`,
the scale of (4), and `_reason`, which says why to stop.

## Pitfalls

- The first step flies away, and values overflow.
- It converges slowly, though derivatives are right: look at the size of the residuals.
- In other units it takes other steps.
- It never stops, on data without noise.
- Standard errors are all too small, or too large, by the same factor.

## Cost

$2 n p^2$ operations a step for an orthogonal factorisation, some times that for singular values; one evaluation of the
residuals, and one of the Jacobian for each step taken. The benchmark finds this one to take 2.3 to 3.7 times as long as
MINPACK, which is compiled: on NIST's small curves all but some microseconds are Python's calls, and on 20,000
observations `np.linalg.lstsq` makes singular values, where MINPACK makes one QR factorisation.

## Go further

- *Experiment*: multiply one parameter of a curve by a million, and its start by a millionth: which of the methods does
  not notice?
- *Stretch*: Transtrum and Sethna [5] add the second-order part of the step, the 'geodesic acceleration', at the cost of
  one more evaluation. Try it on Thurber's data from the first start.

## References

1. Levenberg (1944), A method for the solution of certain non-linear problems in least squares,
   https://doi.org/10.1090/qam/10666
2. Marquardt (1963), An algorithm for least-squares estimation of nonlinear parameters,
   https://doi.org/10.1137/0111030
3. Moré (1978), The Levenberg-Marquardt algorithm: implementation and theory, https://doi.org/10.1007/BFb0067700
4. Nielsen (1999), Damping parameter in Marquardt's method, report IMM-REP-1999-05, Technical University of Denmark
5. Transtrum & Sethna (2012), Improvements to the Levenberg-Marquardt algorithm, https://arxiv.org/abs/1201.5885
6. Nocedal & Wright (2006), Numerical Optimization, chapter 10, https://doi.org/10.1007/978-0-387-40065-5
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg.least_squares import solve_triangular
from mlpath.optim._shared import OptimizeResult, Vector
from mlpath.optim.gradient_descent import check_arguments

Residuals = Callable[[Vector], np.ndarray]
Jacobian = Callable[[Vector], np.ndarray]

CONVERGED = "converged: no cosine between the residuals and a column of the Jacobian exceeds tol"
SHORT = "converged: the last step changed the parameters by no more than step_tol of their size"
STALLED = "stopped: even a step of step_tol of the parameters' size did not lower the sum of squares"
DIVERGED = "diverged: the residuals or the Jacobian are not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made"


@dataclass(frozen=True)
class FitResult(OptimizeResult):
    """What a fit ended with, beside what every result of this room holds: `fun` is half the sum of squares.

    `nit` counts trial steps, the refused ones included, and where one was refused the path repeats its point.

    Attributes
    ----------
    residuals : ndarray
        The residuals at `x`.
    jacobian : ndarray
        The Jacobian there.
    dampings : ndarray
        The damping of each step of Levenberg and Marquardt: `nit` numbers; none for Gauss and Newton.
    """

    residuals: Float[np.ndarray, " n_samples"] = field(default_factory=lambda: np.zeros(0))
    jacobian: Float[np.ndarray, "n_samples n_params"] = field(default_factory=lambda: np.zeros((0, 0)))
    dampings: Float[np.ndarray, " n_steps"] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Uncertainty:
    """How well fitted parameters are known, equation (9).

    Attributes
    ----------
    covariance : ndarray
        The covariance of the parameters.
    standard_errors : ndarray
        The roots of its diagonal.
    residual_deviation : float
        The standard deviation $s$ of the residuals.
    """

    covariance: Float[np.ndarray, "n_params n_params"]
    standard_errors: Float[np.ndarray, " n_params"]
    residual_deviation: float


def gauss_newton_step(
    jacobian: Float[np.ndarray, "n_samples n_params"], residuals: Float[np.ndarray, " n_samples"]
) -> Float[np.ndarray, " n_params"]:
    """Return the step of Gauss and Newton, equation (2).

    Parameters
    ----------
    jacobian : ndarray
        The derivatives of the residuals.
    residuals : ndarray
        The residuals.

    Returns
    -------
    ndarray
        The step; the shortest if the columns of `jacobian` are dependent.

    Examples
    --------
    >>> gauss_newton_step(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([-1.0, -2.0])).round(4)
    array([1., 1.])
    """
    step, _, _, _ = np.linalg.lstsq(jacobian, -residuals)
    return step


def damped_step(
    jacobian: Float[np.ndarray, "n_samples n_params"],
    residuals: Float[np.ndarray, " n_samples"],
    damping: float,
    scale: Float[np.ndarray, " n_params"],
) -> Float[np.ndarray, " n_params"]:
    r"""Return the step of Levenberg and Marquardt, equations (4) and (5).

    Parameters
    ----------
    jacobian : ndarray
        The derivatives of the residuals.
    residuals : ndarray
        The residuals.
    damping : float
        The damping $\mu$, positive.
    scale : ndarray
        The scale $d$ of each parameter, positive.

    Returns
    -------
    ndarray
        The step.

    Examples
    --------
    >>> jacobian, residuals = np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([-1.0, -2.0])
    >>> damped_step(jacobian, residuals, 0.5, np.array([2**0.5, 1.0])).round(4)
    array([0.7143, 0.8571])
    """
    n = len(scale)
    rows = np.concatenate([jacobian / scale, damping**0.5 * np.eye(n, dtype=jacobian.dtype)])
    step, _, _, _ = np.linalg.lstsq(rows, np.concatenate([-residuals, np.zeros(n, dtype=residuals.dtype)]))
    return step / scale


def gain_ratio(
    residuals: Float[np.ndarray, " n_samples"],
    trial: Float[np.ndarray, " n_samples"],
    linear: Float[np.ndarray, " n_samples"],
) -> float:
    r"""Return the decrease of the sum of squares over that which the tangent promised, equation (6).

    Parameters
    ----------
    residuals : ndarray
        The residuals before the step.
    trial : ndarray
        Those after it, which need not be finite.
    linear : ndarray
        What the tangent says that they are.

    Returns
    -------
    float
        The ratio; minus infinity if `trial` is not finite or the tangent promises no decrease.

    Examples
    --------
    >>> print(f"{gain_ratio(np.array([-1.0, -2.0]), np.array([-0.3, 1.0]), np.array([-0.3, -0.4])):.4f}")
    0.8232
    """
    promised = float((residuals - linear) @ (residuals + linear))
    if not (np.isfinite(trial).all() and promised > 0):
        return -np.inf
    delta = 10 * float(np.finfo(residuals.dtype).eps) * float(residuals @ residuals)
    return (float((residuals - trial) @ (residuals + trial)) + delta) / (promised + delta)


def next_damping(damping: float, growth: float, ratio: float) -> tuple[float, float]:
    r"""Return the damping for the next step, and the next growth, equation (7).

    Parameters
    ----------
    damping : float
        The damping $\mu$ of the step.
    growth : float
        The factor $\nu$, by which the damping grows if the step failed.
    ratio : float
        The ratio (6) of the step.

    Returns
    -------
    damping : float
        The next $\mu$, at most 1e300.
    growth : float
        The next $\nu$.

    Examples
    --------
    >>> next_damping(0.6, 8.0, 0.5), next_damping(0.5, 8.0, -0.3)
    ((0.6, 2.0), (4.0, 16.0))
    """
    if ratio > 0:
        return damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), 2.0
    return min(damping * growth, 1e300), 2 * growth


def optimality(jacobian: Float[np.ndarray, "n_samples n_params"], residuals: Float[np.ndarray, " n_samples"]) -> float:
    """Return the largest cosine, in size, between the residuals and a column of the Jacobian, equation (8).

    Parameters
    ----------
    jacobian : ndarray
        The derivatives of the residuals.
    residuals : ndarray
        The residuals.

    Returns
    -------
    float
        From 0 to 1. A column of zeros counts as 0, and so do residuals of zeros.

    Examples
    --------
    >>> print(f"{optimality(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([-1.0, -2.0])):.4f}")
    0.9487
    """
    largest = abs(residuals).max()
    if largest == 0:
        return 0.0
    unit = residuals / largest  # squares over- or underflow long before the residuals do
    scaled = jacobian / _scale(jacobian)
    return float(abs(scaled.T @ unit).max() / np.linalg.norm(unit))


def gauss_newton(
    residuals: Residuals,
    jacobian: Jacobian,
    start: ArrayLike,
    *,
    tol: float = 1e-8,
    step_tol: float = 1e-12,
    max_iter: int = 100,
    record_path: bool = False,
) -> FitResult:
    r"""Minimise a sum of squares by full steps of Gauss and Newton.

    Parameters
    ----------
    residuals, jacobian : callable
        Take the parameters and return the residuals and their derivatives.
    start : array_like
        Where to begin; not changed.
    tol : float
        The walk ends when (8) is no larger.
    step_tol : float
        The $\tau$ below (8), with which it ends, too.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    FitResult
        `success` is true for the messages `CONVERGED` and `SHORT`. The others are `DIVERGED` and `OUT_OF_STEPS`. `nfev`
        counts evaluations of `residuals`, that at the start included.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`, `step_tol` is
        negative or not finite, or what `residuals` or `jacobian` returns has the wrong shape.

    Examples
    --------
    >>> t, y = np.array([0.0, 1.0, 2.0]), np.array([2.0, 3.0, 4.0])
    >>> result = gauss_newton(
    ...     lambda b: b[0] * np.exp(b[1] * t) - y,
    ...     lambda b: np.column_stack([np.exp(b[1] * t), b[0] * t * np.exp(b[1] * t)]),
    ...     [2.0, 0.3],
    ... )
    >>> result.x.round(4), result.success
    (array([2.074 , 0.3331]), True)
    """
    # given: the checks
    x, residuals, jacobian = _checked(residuals, jacobian, start, tol, step_tol, max_iter)
    # yours
    r, j, path, short, message = residuals(x), jacobian(x), [x], False, None
    for nit in range(max_iter + 1):
        if message := _reason(r, j, SHORT if short else None, nit, tol, max_iter):
            break
        step, scale = gauss_newton_step(j, r), _scale(j)
        x = x + step
        r, j = residuals(x), jacobian(x)
        short = np.linalg.norm(scale * step) <= step_tol * np.linalg.norm(scale * x)
        path.append(x)
    return _result(x, r, j, message, path, record_path, len(path) - 1, [])


def levenberg_marquardt(
    residuals: Residuals,
    jacobian: Jacobian,
    start: ArrayLike,
    *,
    damping: float = 1e-3,
    tol: float = 1e-8,
    step_tol: float = 1e-12,
    max_iter: int = 200,
    record_path: bool = False,
) -> FitResult:
    r"""Minimise a sum of squares by the method of Levenberg and Marquardt.

    Parameters
    ----------
    residuals, jacobian : callable
        Take the parameters and return the residuals and their derivatives.
    start : array_like
        Where to begin; not changed.
    damping : float
        The first damping $\mu$, positive.
    tol : float
        The walk ends when (8) is no larger.
    step_tol : float
        The $\tau$ below (8), with which it ends, too: as `SHORT` if the step was taken, as `STALLED` if not.
    max_iter : int
        The largest number of trial steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    FitResult
        `success` is true for the messages `CONVERGED` and `SHORT`. The others are `STALLED`, `OUT_OF_STEPS`, and
        `DIVERGED`, which is possible only at the start or where `jacobian` is not finite. `nfev` counts evaluations of
        `residuals`, that at the start included.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`, `damping` is not
        positive and finite, `step_tol` is negative or not finite, or what `residuals` or `jacobian` returns has the
        wrong shape.

    Examples
    --------
    >>> t, y = np.array([0.0, 1.0, 2.0]), np.array([2.0, 3.0, 4.0])
    >>> result = levenberg_marquardt(
    ...     lambda b: b[0] * np.exp(b[1] * t) - y,
    ...     lambda b: np.column_stack([np.exp(b[1] * t), b[0] * t * np.exp(b[1] * t)]),
    ...     [1.0, 0.0],
    ... )
    >>> result.x.round(4), result.success
    (array([2.074 , 0.3331]), True)
    """
    # given: the checks
    x, residuals, jacobian = _checked(residuals, jacobian, start, tol, step_tol, max_iter, damping)
    # yours
    r, j, path, dampings, growth, ending = residuals(x), jacobian(x), [x], [], 2.0, None
    scale = _scale(j)
    for nit in range(max_iter + 1):
        if message := _reason(r, j, ending, nit, tol, max_iter):
            break
        step = damped_step(j, r, damping, scale)
        trial = residuals(x + step)
        ratio = gain_ratio(r, trial, r + j @ step)
        dampings.append(damping)
        damping, growth = next_damping(damping, growth, ratio)
        if np.linalg.norm(scale * step) <= step_tol * np.linalg.norm(scale * x):
            ending = SHORT if ratio > 0 else STALLED
        if ratio > 0:
            x, r, j = x + step, trial, jacobian(x + step)
            scale = _scale(j, scale)
        path.append(x)
    return _result(x, r, j, message, path, record_path, len(path) - 1, dampings)


def uncertainty(
    jacobian: Float[np.ndarray, "n_samples n_params"], residuals: Float[np.ndarray, " n_samples"]
) -> Uncertainty:
    r"""Return how well fitted parameters are known, equation (9).

    Parameters
    ----------
    jacobian : ndarray
        The derivatives of the residuals at the fit.
    residuals : ndarray
        The residuals there, more than there are parameters.

    Returns
    -------
    Uncertainty
        Covariance, standard errors and residual standard deviation; the arrays in the dtype of `jacobian`.

    Raises
    ------
    ValueError
        If there are not more residuals than parameters.
    LinAlgError
        If the columns of `jacobian` are dependent: with columns of norm 1, $R$ has an entry on the diagonal of no more
        than ten times the number of residuals times the precision.

    Examples
    --------
    >>> known = uncertainty(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([0.1, -0.2, 0.1]))
    >>> known.standard_errors.round(4), round(known.residual_deviation, 4)
    (array([0.2236, 0.1732]), 0.2449)
    """
    # given: the check
    n, p = jacobian.shape
    if n <= p:
        raise ValueError(f"residuals must be more than the {p} parameters, got {n}")
    # yours
    scale = _scale(jacobian)
    _, r = np.linalg.qr(jacobian / scale)
    if abs(np.diag(r)).min() <= 10 * n * np.finfo(r.dtype).eps:
        raise np.linalg.LinAlgError("the columns of the Jacobian are dependent: not all parameters can be known")
    inverse = solve_triangular(r, np.eye(p, dtype=r.dtype)) / scale[:, None]
    deviation = float(np.linalg.norm(residuals)) / (n - p) ** 0.5
    half = deviation * inverse
    return Uncertainty(half @ half.T, np.linalg.norm(half, axis=1), deviation)


def _scale(  # given
    jacobian: np.ndarray, before: np.ndarray | float = 0.0
) -> np.ndarray:
    """Return the norms of the columns, 1 for a column of zeros; or the scale before, where that is larger."""
    largest = abs(jacobian).max(axis=0)
    largest = np.where(largest > 0, largest, 1).astype(jacobian.dtype)
    norms = np.linalg.norm(jacobian / largest, axis=0) * largest
    return np.maximum(np.where(norms > 0, norms, 0 if np.any(before) else 1), before).astype(jacobian.dtype)


def _reason(  # given
    r: np.ndarray, j: np.ndarray, ending: str | None, nit: int, tol: float, max_iter: int
) -> str | None:
    """Return why to stop, or None; `ending` is the reason that the length of the last step gave, if any."""
    if not (np.isfinite(r).all() and np.isfinite(j).all()):
        return DIVERGED
    if optimality(j, r) <= tol:
        return CONVERGED
    return ending or (OUT_OF_STEPS if nit >= max_iter else None)


def _result(  # given
    x: Vector,
    r: np.ndarray,
    j: np.ndarray,
    message: str | None,
    path: list[Vector],
    record_path: bool,
    nit: int,
    dampings: list[float],
) -> FitResult:
    """Return the result of a walk whose path has been kept."""
    value, points, success = float(r @ r) / 2, np.array(path) if record_path else None, message in (CONVERGED, SHORT)
    return FitResult(x, value, nit, nit + 1, success, str(message), points, r, j, np.array(dampings))


def _checked(  # given: argument checks
    residuals: Residuals,
    jacobian: Jacobian,
    start: ArrayLike,
    tol: float,
    step_tol: float,
    max_iter: int,
    damping: float = 1.0,
) -> tuple[Vector, Residuals, Jacobian]:
    """Return the start, and functions that refuse results of the wrong shape, or raise a ValueError."""
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    if not 0 <= step_tol < np.inf:
        raise ValueError(f"step_tol must be non-negative and finite, got {step_tol}")
    if not 0 < damping < np.inf:
        raise ValueError(f"damping must be positive and finite, got {damping}")

    lengths: set[int] = set()

    def vector(x: Vector) -> np.ndarray:
        r = np.asarray(residuals(x), dtype=x.dtype)
        if r.ndim != 1 or not r.size:
            raise ValueError(f"residuals must return a vector of at least one number, got shape {r.shape}")
        lengths.add(len(r))
        if len(lengths) > 1:
            raise ValueError(f"residuals must always return as many numbers, got {sorted(lengths)}")
        return r

    def matrix(x: Vector) -> np.ndarray:
        j = np.asarray(jacobian(x), dtype=x.dtype)
        expected = (*lengths, len(x))
        if j.shape != expected:
            raise ValueError(f"jacobian must return shape {expected}, got {j.shape}")
        return j

    return x, vector, matrix
