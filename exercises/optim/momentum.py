r"""Momentum: remember the last move, and need only the square root of the steps.

## Idea

Gradient descent forgets. In a narrow valley it crosses from wall to wall and creeps along the floor, although the last
move already told which way the floor runs. So keep a part of the last move: along the floor the parts add up, across
it they cancel. Polyak's heavy ball rolls on like that; Nesterov's method first rolls on and only then looks at the
slope. Both turn the condition number $\kappa$ in the rate of gradient descent into $\sqrt\kappa$.

## Maths

With a step size $a$, a momentum $0 \le b < 1$ and $x_{-1} = x_0$, the **heavy ball** [1] is

$$x_{k+1} = x_k - a \nabla f(x_k) + b\,(x_k - x_{k-1}). \tag{1}$$

**Nesterov's method** [2] makes the same move in the other order: first to the point where the momentum alone would
lead,

$$y_k = x_k + b\,(x_k - x_{k-1}), \tag{2}$$

and from there down the gradient *of that point*:

$$x_{k+1} = y_k - a \nabla f(y_k). \tag{3}$$

Put (2) into (3): it is (1) again, but for the point at which the gradient is taken.

**The rate on a quadratic.** Let $f(x) = \tfrac12 (x - x^\star)^\top H (x - x^\star)$, with eigenvalues $\lambda$
between $\mu > 0$ and $L$. Along an eigenvector the gradient is $\lambda$ times the error $e_k$, so (1) and (2, 3)
become

$$e_{k+1} = (1 + b - a\lambda)\, e_k - b\, e_{k-1}, \qquad
e_{k+1} = (1 - a\lambda)\bigl((1 + b)\, e_k - b\, e_{k-1}\bigr). \tag{4}$$

Both are of the form $e_{k+1} = p\, e_k - q\, e_{k-1}$, solved by powers $z^k$ of the two roots of

$$z^2 - p z + q = 0 . \tag{5}$$

The larger modulus is the factor per step, in the long run, in this direction; the largest over all eigenvalues is the
rate $\rho$. The roots of (5) have the product $q$. So, where they are complex, $p^2 < 4q$, both have modulus $\sqrt q$,
and where they are real one of them is larger than that.

**The best heavy ball.** Here $q = b$ for every $\lambda$: no direction can be faster than $\sqrt b$, and the best is if
none is slower. The roots are complex or equal when $(1 + b - a\lambda)^2 \le 4b$, that is

$$1 - \sqrt b \;\le\; \sqrt{a\lambda} \;\le\; 1 + \sqrt b . \tag{6}$$

The smallest $b$ for which (6) holds from $\mu$ to $L$ makes its left side an equality at $\lambda = \mu$ and its right
side one at $\lambda = L$. These two equations give $a$ and $b$; their quotient alone gives the rate:

$$\rho = \sqrt b = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}, \qquad \kappa = \frac{L}{\mu}. \tag{7}$$

Gradient descent has at best $(\kappa - 1)/(\kappa + 1)$. For $\kappa = 10^4$, a digit costs it 11,500 steps, and the
heavy ball 115.

**Nesterov's coefficients.** The heavy ball's are tuned to quadratics, and on other convex functions may never settle
[3]. Nesterov's are safe on every function whose curvature lies between $\mu$ and $L$:

$$a = \frac1L , \qquad b = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}. \tag{8}$$

On a quadratic they make (5) a complete square at $\lambda = \mu$, with $\rho = 1 - 1/\sqrt\kappa$.

**No $\mu$ at hand.** For a function that is merely convex, the momentum grows towards 1. Starting at $t_1 = 1$, take
the positive $t_{k+1}$ and the momentum $b_k$ of $y_k$, for $k = 1, 2, \dots$, from

$$t_{k+1}^2 - t_{k+1} = t_k^2 , \qquad b_k = \frac{t_k - 1}{t_{k+1}} . \tag{9}$$

Then, with $a = 1/L$, the value after $k$ steps satisfies [2, 4]

$$f(x_k) - f(x^\star) \le \frac{2 L \|x_0 - x^\star\|^2}{(k + 1)^2}, \tag{10}$$

where gradient descent only has $1/k$.

**Restart.** Near a minimum where $f$ *is* curved, the growing momentum becomes too large: the walk overshoots, and the
values rise and fall in slow waves. O'Donoghue and Candès [5] look whether the last move went uphill, as the gradient
used for it tells,

$$\nabla f(y_k)^\top (x_{k+1} - x_k) > 0 , \tag{11}$$

and if so forget all momentum: $x_{k+1}$ becomes a new start, with $t = 1$. Without knowing $\mu$ this comes close to
the rate of (8).

## Worked example

Let $f(x, y) = \tfrac12 (x^2 + 9 y^2)$: $\mu = 1$, $L = 9$, $\sqrt\kappa = 3$.

- *Heavy ball.* (6) asks for $\sqrt a = 1 - \sqrt b$ and $3 \sqrt a = 1 + \sqrt b$. Their sum gives
  $\sqrt a = \tfrac12$, so $a = \tfrac14$ and $b = \tfrac14$. From $(8, 8)$, with gradient $(8, 72)$: first $(6, -10)$.
  There the gradient is $(6, -90)$ and the last move was $(-2, -18)$, so
  $x_2 = (6 - 1.5 - 0.5,\ -10 + 22.5 - 4.5) = (4, 8)$. In $y$, (5) reads $z^2 + z + \tfrac14 = (z + \tfrac12)^2$, and
  with a double root the errors are $(8 + 12 k)(-\tfrac12)^k$: 8, -10, 8, -5.5, ... At first they grow. After ten steps:
  0.125.
- *Nesterov.* (8) gives $a = \tfrac19$, $b = \tfrac12$. From $(9, 9)$, with gradient $(9, 81)$: $x_1 = (8, 0)$. Rolling
  on, $y_1 = (8, 0) + \tfrac12 (-1, -9) = (7.5, -4.5)$, with gradient $(7.5, -40.5)$, and $x_2 = (6.67, 0)$. The rate is
  $\tfrac23$ (heavy ball $\tfrac12$, gradient descent at best 0.8).
- *(9)*: $t = 1, 1.618, 2.194, \dots$ and the momenta are $0, 0.282, 0.434, \dots$
- *Restart*: a move of $(0.5, -0.1)$ made with the gradient $(1, -2)$ has the product $0.7 > 0$. It went uphill: forget
  it.

## Plan

A `State` is a point and the one before.

- `heavy_ball_step` takes a state and the gradient at its point, and returns the next state by (1).
- `lookahead` takes a state and returns the point (2).
- `nesterov_step` takes a state and the gradient at that point, and returns the next state by (2) and (3).
- `optimal_coefficients` takes $\mu$ and $L$ and returns step size and momentum, by (6) or (8).
- `rate` takes a spectrum and coefficients and returns $\rho$ by (4) and (5).
- `next_momentum` takes $t_k$ and returns $t_{k+1}$ and $b_k$ by (9).
- `must_restart` takes the state after a step and the gradient used for it, and answers (11).
- `minimize` walks. Its points are those at which it takes gradients: the $x_k$ of the heavy ball, the $y_k$ of
  Nesterov. So each step costs one gradient, and the point that it returns is the one whose gradient it has seen.

## Pitfalls

- It is no faster than gradient descent, or the step seems to have shrunk by a factor $1 - b$.
- It is much faster on a quadratic, but diverges at step sizes that (6) allows.
- Values rise now and then. With momentum that is no error: only the long run counts.
- The values come down in waves, each some $\sqrt\kappa$ steps long.
- The measured rate near the optimum of (6) is a little worse than $\sqrt b$: a double root brings a factor $k$.
- The first momentum of (9) is not zero.

## Cost

One gradient and one evaluation of $f$ a step, and O(dim) besides: one vector more than gradient descent. Steps to
reduce the error by a factor $\varepsilon$: about $\tfrac12 \sqrt\kappa \ln(1/\varepsilon)$ for the heavy ball, twice
that for (8).

## Go further

- *Experiment*: let $f'(x)$ be $25x$ below 1, $x + 24$ up to 2 and $25x - 24$ beyond, so that $\mu = 1$ and $L = 25$.
  Start the best heavy ball at 3.3, and Nesterov too. Which settles? (This function is from [3].)
- *Stretch*: restart on the values instead, whenever $f(x_{k+1}) > f(x_k)$, and compare. What does rounding do to each
  of the two tests close to the minimum?

## References

1. Polyak (1964), Some methods of speeding up the convergence of iteration methods,
   https://doi.org/10.1016/0041-5553(64)90137-5
2. Nesterov (2004), Introductory Lectures on Convex Optimization, chapter 2.2, https://doi.org/10.1007/978-1-4419-8853-9
3. Lessard, Recht & Packard (2016), Analysis and design of optimization algorithms via integral quadratic constraints,
   https://arxiv.org/abs/1408.3595
4. Beck & Teboulle (2009), A fast iterative shrinkage-thresholding algorithm, https://doi.org/10.1137/080716542
5. O'Donoghue & Candès (2015), Adaptive restart for accelerated gradient schemes, https://arxiv.org/abs/1204.3982
6. Goh (2017), Why momentum really works, https://doi.org/10.23915/distill.00006
"""

# 8 parts to write. Test them with: pytest exercises/optim/momentum.py
# To be written without: scipy.optimize, torch

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

Method = Literal["heavy_ball", "nesterov"]


@dataclass(frozen=True)
class State:
    """Where a walk with momentum is, and where it was before; at the start both are the same.

    Attributes
    ----------
    x : ndarray
        The point $x_k$.
    previous : ndarray
        The point $x_{k-1}$.
    """

    x: Float[np.ndarray, " dim"]
    previous: Float[np.ndarray, " dim"]


def heavy_ball_step(state: State, gradient: Float[np.ndarray, " dim"], *, step_size: float, momentum: float) -> State:
    """Take one step of Polyak's heavy ball, by equation (1).

    Parameters
    ----------
    state : State
        Where the walk is. It is not changed.
    gradient : ndarray
        The gradient at `state.x`.
    step_size : float
        The step size $a$.
    momentum : float
        The share $b$ of the last move that is kept.

    Returns
    -------
    State
        The next point, and the present one as its predecessor.

    Examples
    --------
    >>> state = State(np.array([6.0, -10.0]), np.array([8.0, 8.0]))
    >>> heavy_ball_step(state, np.array([6.0, -90.0]), step_size=0.25, momentum=0.25)
    State(x=array([4., 8.]), previous=array([  6., -10.]))
    """
    raise NotImplementedError("not written yet: heavy_ball_step")


def lookahead(state: State, momentum: float) -> Float[np.ndarray, " dim"]:
    """Return the point where momentum alone would lead, and where Nesterov's method takes the gradient: equation (2).

    Parameters
    ----------
    state : State
        Where the walk is.
    momentum : float
        The share $b$ of the last move that is kept.

    Returns
    -------
    ndarray
        The point $y_k$, a new array.

    Examples
    --------
    >>> lookahead(State(np.array([8.0, 0.0]), np.array([9.0, 9.0])), 0.5)
    array([ 7.5, -4.5])
    """
    raise NotImplementedError("not written yet: lookahead")


def nesterov_step(state: State, gradient: Float[np.ndarray, " dim"], *, step_size: float, momentum: float) -> State:
    """Take one step of Nesterov's method, by equations (2) and (3).

    Parameters
    ----------
    state : State
        Where the walk is. It is not changed.
    gradient : ndarray
        The gradient at `lookahead(state, momentum)`.
    step_size : float
        The step size $a$.
    momentum : float
        The share $b$ of the last move that is kept.

    Returns
    -------
    State
        The next point $x_{k+1}$, and the present $x_k$ as its predecessor.

    Examples
    --------
    >>> state = State(np.array([8.0, 0.0]), np.array([9.0, 9.0]))
    >>> nesterov_step(state, np.array([7.5, -40.5]), step_size=1 / 9, momentum=0.5).x.round(4)
    array([6.6667, 0.    ])
    """
    raise NotImplementedError("not written yet: nesterov_step")


def optimal_coefficients(convexity: float, smoothness: float, method: Method) -> tuple[float, float]:
    r"""Return step size and momentum for a function whose curvature lies between two known bounds.

    Parameters
    ----------
    convexity : float
        The lower bound $\mu$ of the curvature.
    smoothness : float
        The upper bound $L$; it may equal the lower one.
    method : {"heavy_ball", "nesterov"}
        Heavy ball: the best for quadratics, by the two equalities of (6). Nesterov: (8).

    Returns
    -------
    tuple of float
        The step size $a$ and the momentum $b$.

    Raises
    ------
    ValueError
        If `convexity` is not positive, `smoothness` is smaller or not finite, or `method` is unknown.

    Examples
    --------
    >>> optimal_coefficients(1.0, 9.0, "heavy_ball")
    (0.25, 0.25)
    >>> optimal_coefficients(1.0, 4.0, "nesterov")[0]
    0.25
    """
    # given: the checks
    _check_method(method)
    if not 0 < convexity < np.inf:
        raise ValueError(f"convexity must be positive and finite, got {convexity}")
    if not convexity <= smoothness < np.inf:
        raise ValueError(f"smoothness must be finite and at least {convexity}, got {smoothness}")
    raise NotImplementedError("not written yet: optimal_coefficients")


def rate(spectrum: Float[np.ndarray, " dim"], *, step_size: float, momentum: float, method: Method) -> float:
    """Return the factor by which the error shrinks per step, in the long run, on a quadratic: equations (4) and (5).

    Parameters
    ----------
    spectrum : ndarray
        The eigenvalues of the quadratic's second derivatives, in any order.
    step_size : float
        The step size $a$.
    momentum : float
        The constant momentum $b$.
    method : {"heavy_ball", "nesterov"}
        Which recursion of (4).

    Returns
    -------
    float
        The largest modulus of a root of (5), over all eigenvalues. 1 or more: no convergence.

    Raises
    ------
    ValueError
        If `method` is unknown.

    Examples
    --------
    >>> spectrum = np.array([1.0, 4.0, 9.0])
    >>> round(rate(spectrum, step_size=0.25, momentum=0.25, method="heavy_ball"), 4)
    0.5
    >>> round(rate(spectrum, step_size=0.2, momentum=0.0, method="nesterov"), 4)
    0.8
    """
    # given: the checks
    _check_method(method)
    raise NotImplementedError("not written yet: rate")


def next_momentum(t: float) -> tuple[float, float]:
    """Advance Nesterov's sequence for merely convex functions, by equation (9).

    Parameters
    ----------
    t : float
        The present $t_k$, at least 1.

    Returns
    -------
    tuple of float
        The next $t_{k+1}$, and the momentum $b_k$ that goes with $y_k$.

    Examples
    --------
    >>> t, momentum = next_momentum(1.0)
    >>> round(t, 4), momentum
    (1.618, 0.0)
    >>> round(next_momentum(t)[1], 4)
    0.2818
    """
    raise NotImplementedError("not written yet: next_momentum")


def must_restart(state: State, gradient: Float[np.ndarray, " dim"]) -> bool:
    """Say whether the last move went uphill, by (11).

    Parameters
    ----------
    state : State
        The walk after the move.
    gradient : ndarray
        The gradient that was used for it.

    Returns
    -------
    bool
        True if the momentum should be forgotten; False for a move at a right angle to the gradient, or none.

    Examples
    --------
    >>> must_restart(State(np.array([1.5, 1.9]), np.array([1.0, 2.0])), np.array([1.0, -2.0]))
    True
    """
    raise NotImplementedError("not written yet: must_restart")


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    step_size: float,
    momentum: float | None = None,
    method: Method = "nesterov",
    restart: bool = False,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a function by steps with momentum.

    The points of this walk are those at which gradients are taken: $x_k$ for the heavy ball, $y_k$ for Nesterov. `fun`
    is called there too, once each, and nowhere else.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    step_size : float
        The step size $a$.
    momentum : float, optional
        The momentum $b$, at least 0 and below 1. Without it, Nesterov's method uses the growing sequence (9).
    method : {"nesterov", "heavy_ball"}
        Which step.
    restart : bool
        Whether to forget all momentum after a step that went uphill, by (11): the walk goes on as if it started there.
    tol : float
        Converged when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields `x` and `fun`, the last point at which the gradient was taken and the objective there; `nit`, `nfev`, `success`, `message`; and
        `path`, None unless `record_path` is set. `success` and `message` are those of
        gradient descent's `stopping`. `path` has `nit + 1` rows, from the start to `x`.

    Raises
    ------
    ValueError
        If an argument is refused by gradient descent's `check_arguments`, `momentum` is not in [0, 1) or missing for
        the heavy ball, `method` is unknown, or `grad` returns the wrong shape.

    Examples
    --------
    >>> def fun(x):
    ...     return x[0] ** 2 / 2 + 9 * x[1] ** 2 / 2
    >>> def grad(x):
    ...     return np.array([x[0], 9 * x[1]])
    >>> minimize(fun, grad, [8.0, 8.0], step_size=0.25, momentum=0.25, method="heavy_ball").nit
    32
    """
    # given: the checks, and when to stop
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    _check_momentum(momentum, method)
    grad, stop = checked_gradient(grad), partial(stopping, tol=tol, max_iter=max_iter)
    take_step = heavy_ball_step if method == "heavy_ball" else nesterov_step
    raise NotImplementedError("not written yet: minimize")


def _check_method(method: str) -> None:  # given
    """Refuse an unknown method."""
    if method not in ("heavy_ball", "nesterov"):
        raise ValueError(f"method must be 'heavy_ball' or 'nesterov', got {method!r}")


def _check_momentum(momentum: float | None, method: str) -> None:  # given
    """Refuse an unknown method, and a momentum that it cannot use."""
    _check_method(method)
    if momentum is None and method == "heavy_ball":
        raise ValueError("momentum is needed for the heavy ball, got None")
    if momentum is not None and not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
