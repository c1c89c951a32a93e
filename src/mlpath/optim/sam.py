r"""Sharpness-aware minimisation: descend by the gradient of the worst point nearby, and measure how sharp a minimum is.

## Idea

Two minima may be equally low and yet differ: around the one the loss stays low, around the other it shoots up at the
smallest change of the weights. New data shift the loss a little, which costs nothing in a flat valley and much in a
sharp one. So do not ask how low the loss is at a point, but how high it gets within a small ball around it. *SAM*
makes one step uphill to the edge of that ball, takes the gradient there, and goes back to use it where it came from.
Any rule can then make the step: SAM only changes the gradient that the rule is given.

## Maths

Let $f$ be the objective, $g = \nabla f(x)$, $H$ its Hessian, $\rho$ a *radius*, and $\|\cdot\|$ the Euclidean norm.
Instead of $f$ we want to minimise [1]

$$f_\rho(x) = \max_{\|e\| \le \rho} f(x + e) . \tag{1}$$

**The ascent.** To first order $f(x + e) = f(x) + g^\top e$, and by Cauchy and Schwarz the maximum in the ball is at

$$e = \rho\, \frac{g}{\|g\|} , \qquad e = 0 \text{ where } g = 0 . \tag{2}$$

Its length is $\rho$ however small the gradient is: near a minimum SAM still looks at a distance of $\rho$.

**The gradient.** Differentiating (1) through (2) would need second derivatives; SAM leaves them out and takes

$$s(x) = \nabla f(x + e) . \tag{3}$$

Expand it: $s = g + H e = g + \rho H g / \|g\|$ up to terms in $\rho^2$. Now $\nabla \|g\| = H g / \|g\|$, and so

$$s = \nabla \bigl( f + \rho\, \|\nabla f\| \bigr) + O(\rho^2) : \tag{4}$$

SAM descends $f$ and a penalty on the length of its gradient. A step costs two gradients, that at $x$ and that at
$x + e$, and the rule of the base method sees only the second.

**On a quadratic** $f = \frac12 x^\top H x$ the expansion is exact, and gradient descent with step size $a$ becomes

$$x_{t+1} = (I - aH)\, x_t - a\rho\, \frac{H^2 x_t}{\|H x_t\|} . \tag{5}$$

The last term does not shrink with $x$. Along one eigenvector with eigenvalue $\lambda > 0$, at the distance $c > 0$,
(5) leads to $(1 - a\lambda) c - a\lambda\rho$. So SAM does not come to rest at a minimum: it jumps from one wall to the
other [3], between $c$ and $-c$ with

$$c = \frac{a \lambda \rho}{2 - a \lambda} , \qquad a\lambda < 2 . \tag{6}$$

The jumps are widest in the sharpest direction. A valley narrower than that cannot hold SAM, and where a valley's walls
become less steep along its floor, each jump pushes the walk a little that way. Gradient descent rests at any of these
points.

**Units that suit each weight.** Multiply the weights of one layer of rectified units by 10 and divide those of the next
by 10: the network computes the same, but a ball of radius $\rho$ now means something else. Adaptive SAM [2] measures
changes in shares of each weight. With $T = \operatorname{diag}(|x_i| + \eta)$, where $\eta \ge 0$ is a small *shift*
that lets weights near zero move, its ball is $\|T^{-1} e\| \le \rho$. Put $e = T h$: now $h$ lies in a plain ball, and
the slope by $h$ is $T g$. (2) gives $h$, hence

$$e = \rho\, \frac{T^2 g}{\|T g\|} . \tag{7}$$

Let $A$ be a diagonal matrix and $\tilde f(A x) = f(x)$: the same function in other units. Its gradient at $A x$ is
$A^{-1} g$, and for $\eta = 0$ its $T$ is $|A| T$. Put both into (7):

$$\tilde e = \rho\, \frac{A^2 T^2 A^{-1} g}{\bigl\| |A|\, T A^{-1} g \bigr\|} = A e , \tag{8}$$

so the ascended point is the same one in the new units. The plain ascent (2) has no such property.

**Three measures of sharpness.** *The worst rise* is what (1) adds to the objective,

$$r_\rho(x) = \max_{\|e\| \le \rho} f(x + e) - f(x) , \qquad r_\rho = \tfrac12 \rho^2 \lambda_{\max} \text{ at the minimum of a quadratic} . \tag{9}$$

A better maximum than (2) comes from repeating it: from $e$, go to the point of the ball that is farthest along the
gradient at $x + e$,

$$e \leftarrow \rho\, \nabla f(x + e) / \|\nabla f(x + e)\| . \tag{10}$$

If $f$ is convex it lies above its tangent at $x + e$, which rises towards the new point: the values never fall.

*The largest eigenvalue* of $H$. At the minimum of a quadratic $\nabla f(x + e) = H e$, and (10) is the power iteration,

$$v \leftarrow \frac{H v}{\|H v\|} , \qquad \lambda = v^\top H v , \tag{11}$$

which needs only products of $H$ with vectors. In a basis of eigenvectors each repetition multiplies the coordinates by
their eigenvalues: the one that is largest *in size* wins, keeping its sign. Stop when the residual
$\|H v - \lambda v\|$ is at most $\text{tol}\, |\lambda|$; some eigenvalue is then no farther than that from $\lambda$.

*The average rise* under random changes, $z \sim \mathcal{N}(0, I)$. From $\mathbb{E} z = 0$ and
$\mathbb{E} z z^\top = I$ follows, on a quadratic at any point,

$$\mathbb{E}\, f(x + \sigma z) - f(x) = \tfrac12 \sigma^2 \operatorname{tr} H . \tag{12}$$

In $d$ dimensions such a change has the length $\sigma \sqrt d$. At equal lengths (12) has the mean eigenvalue where (9)
has the largest: a minimum can be flat on average and sharp in the worst direction.

## Worked example

$f(x, y) = \frac12 (x^2 + 9 y^2)$ at $(4, \frac13)$ with $\rho = 0.1$: the gradient is $(4, 3)$ of length 5.

- The ascent (2) is $(0.08, 0.06)$. The gradient at $(4.08, 0.393)$ is $(4.08, 3.54)$: SAM adds 0.08 to the first
  component and 0.54 to the second, the sharper one.
- A step of $a = 0.1$ leads to $(3.592, -0.021)$. Along $y$ it will jump between $\pm 0.9 \cdot 0.1 / 1.1 = \pm 0.082$.
- Adaptive, with shift 0: $T g = (16, 1)$ of length 16.03, and $e = 0.1\, (64, \frac13) / 16.03 = (0.399, 0.002)$: a
  tenth of the first weight, and less than a hundredth of the second.
- At the minimum: the worst rise is $\frac12 \cdot 0.01 \cdot 9 = 0.045$; the average one for $\sigma = 0.1$ is
  $\frac12 \cdot 0.01 \cdot 10 = 0.05$, at a length of 0.141.
- Power iteration from $(0.6, 0.8)$: $H v = (0.6, 7.2)$, the quotient is already $0.36 + 5.76 = 6.12$; the next vector
  is $(0.083, 0.997)$, and its quotient 8.945.

## Plan

- `ascent` takes a gradient and a radius and returns (2). `adaptive_ascent` takes also the point, and returns (7).
- `sam_gradient` takes the gradient function, a point, and the gradient that is known there, and returns (3).
- `minimize` repeats a rule of the exercise on adaptive steps with that gradient. `descent`, plain gradient descent as
  such a rule, is given.
- `worst_rise` repeats (10) and returns the largest value of (9) that it met. `top_eigenvalue` is (11), and
  `average_rise` estimates (12) from draws.

The points are vectors, and a gradient is any function from vectors to vectors: a quadratic, logistic regression, or a
network whose weights were laid end to end (torch's `parameters_to_vector` does that). So every rule of the room can be
the base, and every problem.

## Pitfalls

- The walk never converges, however small the gradient: see (6).
- NaN at a start where the gradient is exactly zero.
- Twice the step size, or a walk that drifts uphill: from which point is the step made?
- Adaptive SAM never moves a weight that starts at zero, or moves the large ones too little.
- The sharpest direction's eigenvalue is negative: one has not arrived at a minimum.
- The average rise is negative, or changes from run to run by more than its value: look at its standard error.

## Cost

Two gradients a step instead of one: twice the time. The power iteration takes a product with the Hessian each time, two
to three gradients, and its error falls by the ratio of the two largest eigenvalues squared. On 200 digits, a perceptron
of widths 64, 12 and 10 came after 400 steps of gradient descent of size 0.5 to a loss of 0.020 and a largest eigenvalue
of 0.50; with $\rho = 0.3$ to 0.019 and 0.36, with $\rho = 0.5$ to 0.019 and 0.29, in twice the gradients.

## Go further

- *Experiment*: train a perceptron on a tenth of the digits with several radii, and draw the test error against the
  radius. Then do the same with a tenth of the labels wrong.
- *Stretch*: look at the neighbours $x \pm e$ only every fifth step, and use the old ascent in between. How much of the
  flatness is lost?

## References

1. Foret, Kleiner, Mobahi & Neyshabur (2021), Sharpness-aware minimization for efficiently improving generalization,
   https://arxiv.org/abs/2010.01412
2. Kwon, Kim, Park & Choi (2021), ASAM: adaptive sharpness-aware minimization for scale-invariant learning of deep
   neural networks, https://arxiv.org/abs/2102.11600
3. Bartlett, Long & Bousquet (2022), The dynamics of sharpness-aware minimization: bouncing across ravines and drifting
   towards wide minima, https://arxiv.org/abs/2210.01513
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, HessianProduct, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.adaptive import at_rest
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

S = TypeVar("S")


@dataclass(frozen=True)
class NoState:
    """The state of a rule that remembers nothing."""


def descent(state: S, gradient: Float[np.ndarray, " dim"], *, step_size: float) -> tuple[S, Vector]:  # given
    """Take one step of plain gradient descent, in the form of the adaptive rules.

    Parameters
    ----------
    state : NoState
        Returned as it is.
    gradient : ndarray
        The gradient.
    step_size : float
        The step size.

    Returns
    -------
    tuple of NoState and ndarray
        The state, and the update to be added to the point.

    Examples
    --------
    >>> descent(NoState(), np.array([3.0, -4.0]), step_size=0.5)
    (NoState(), array([-1.5,  2. ]))
    """
    return state, -step_size * gradient


def ascent(gradient: Float[np.ndarray, " dim"], radius: float) -> Float[np.ndarray, " dim"]:
    r"""Return the change of length `radius` that raises the objective most, to first order: equation (2).

    Parameters
    ----------
    gradient : ndarray
        The gradient, of any representable length.
    radius : float
        The radius $\rho$ of the ball, 0 or more.

    Returns
    -------
    ndarray
        The change $e$, a new array; zeros where the gradient is zero.

    Raises
    ------
    ValueError
        If `radius` is negative or not finite.

    Examples
    --------
    >>> ascent(np.array([4.0, 3.0]), 0.1)
    array([0.08, 0.06])
    """
    # given: the checks
    _check_radius(radius)
    # yours
    largest = abs(gradient).max()
    if largest == 0:
        return np.zeros_like(gradient)
    direction = gradient / largest  # (2) sums squares, which over- or underflow long before the gradient does
    return float(radius) * (direction / np.linalg.norm(direction))


def adaptive_ascent(
    x: Float[np.ndarray, " dim"], gradient: Float[np.ndarray, " dim"], radius: float, *, shift: float = 0.0
) -> Float[np.ndarray, " dim"]:
    r"""Return adaptive SAM's change, which measures each weight's change by its size: equation (7).

    Parameters
    ----------
    x : ndarray
        The point. It is not changed.
    gradient : ndarray
        The gradient there.
    radius : float
        The radius $\rho$ of the ball, 0 or more.
    shift : float
        The number $\eta$ that is added to each weight's size, 0 or more.

    Returns
    -------
    ndarray
        The change $e$, a new array; zeros where the gradient by the weights' shares is zero.

    Raises
    ------
    ValueError
        If `radius` or `shift` is negative or not finite.

    Examples
    --------
    >>> adaptive_ascent(np.array([4.0, 1 / 3]), np.array([4.0, 3.0]), 0.1).round(4)
    array([0.3992, 0.0021])
    """
    # given: the checks
    _check_radius(radius)
    _check_radius(shift, "shift")
    # yours
    size = abs(x) + float(shift)
    return size * ascent(size * gradient, radius)


def sam_gradient(
    grad: Gradient,
    x: Float[np.ndarray, " dim"],
    gradient: Float[np.ndarray, " dim"],
    *,
    radius: float,
    adaptive: bool = False,
    shift: float = 0.0,
) -> Float[np.ndarray, " dim"]:
    r"""Return the gradient at the ascended point, equation (3), by one call of `grad`.

    Parameters
    ----------
    grad : callable
        The gradient of the objective.
    x : ndarray
        The point. It is not changed.
    gradient : ndarray
        The gradient there, which is known already.
    radius : float
        The radius $\rho$, 0 or more.
    adaptive : bool
        Whether to ascend by (7) instead of (2).
    shift : float
        The shift $\eta$ of (7); (2) has none.

    Returns
    -------
    ndarray
        The gradient that a base rule is to be given at `x`.

    Raises
    ------
    ValueError
        If `radius` or `shift` is negative or not finite.

    Examples
    --------
    >>> scale = np.array([1.0, 9.0])
    >>> x = np.array([4.0, 1 / 3])
    >>> sam_gradient(lambda x: scale * x, x, scale * x, radius=0.1).round(4)
    array([4.08, 3.54])
    """
    # given: the checks
    _check_radius(radius)
    _check_radius(shift, "shift")
    # yours
    away = adaptive_ascent(x, gradient, radius, shift=shift) if adaptive else ascent(gradient, radius)
    return grad(x + away)


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    rule: Callable[[S, Vector], tuple[S, Vector]],
    state_type: type[S],
    *,
    radius: float,
    adaptive: bool = False,
    shift: float = 0.0,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    r"""Minimise a function by a base rule that is given SAM's gradients, equation (3).

    It has converged when no component of the gradient *at the point*, not at the ascended one, exceeds `tol`. By (6)
    that is rare unless the radius is 0: as a rule SAM uses up its steps, and says so.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    rule : callable
        Takes a state and a gradient, and returns the next state and the update: `descent`, one of the rules of the
        exercise on adaptive steps, or your own.
    state_type : type
        The rule's state. The walk begins with `at_rest(state_type, start)`.
    radius : float
        The radius $\rho$, 0 or more. With 0 the walk is that of the base rule.
    adaptive : bool
        Whether to ascend by (7) instead of (2).
    shift : float
        The shift $\eta$ of (7).
    tol : float
        Converged when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields `x` and `fun`, the last point and the objective there; `nit`, `nfev`, `success`, `message`; and
        `path`, None unless `record_path` is set. `success` and `message` are those of gradient descent's `stopping`;
        `fun` is called once for the start and once for each step, `grad` once more for each step; `path` has `nit + 1`
        rows, from the start to `x`: the ascended points are not part of it.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by gradient descent's `check_arguments`, `radius` or `shift` is
        negative or not finite, or `grad` returns the wrong shape.

    Examples
    --------
    >>> settings = {"rule": partial(descent, step_size=0.1), "state_type": NoState, "max_iter": 200}
    >>> result = minimize(lambda x: 4.5 * x @ x, lambda x: 9 * x, [1.0], radius=0.1, **settings)
    >>> result.success, abs(result.x).round(4)  # equation (6)
    (False, array([0.0818]))
    """
    # given: the checks, and when to stop
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)  # the rule checks its own step size
    _check_radius(radius)
    _check_radius(shift, "shift")
    grad, stop = checked_gradient(grad), partial(stopping, tol=tol, max_iter=max_iter)
    # yours
    state, nit, path = at_rest(state_type, x), 0, [x]
    value, gradient = float(fun(x)), grad(x)
    while (message := stop(value, gradient, nit)) is None:
        worst = sam_gradient(grad, x, gradient, radius=radius, adaptive=adaptive, shift=shift)
        state, update = rule(state, worst)
        x, nit = x + update, nit + 1
        value, gradient = float(fun(x)), grad(x)
        path.append(x)
    return OptimizeResult(
        x, value, nit, nit + 1, message == CONVERGED, message, np.array(path) if record_path else None
    )


def worst_rise(
    fun: Objective,
    grad: Gradient,
    x: Float[np.ndarray, " dim"],
    radius: float,
    *,
    n_steps: int = 50,
    rng: np.random.Generator,
) -> float:
    r"""Estimate from below how far the objective rises within a ball, equation (9), by repeating (10).

    The first $e$ is a random one of length `radius`, turned round if it leads downhill. Where the objective is convex
    the value nears a local maximum over the ball, which at the minimum of a quadratic is the greatest.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    x : ndarray
        The centre of the ball.
    radius : float
        Its radius $\rho$, 0 or more.
    n_steps : int
        How many times to repeat (10), at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    float
        The largest rise after any of the repetitions; 0 if there was none.

    Raises
    ------
    ValueError
        If `x` is no finite vector, `radius` is negative or not finite, or `n_steps` is below 1.

    Examples
    --------
    >>> scale, rng = np.array([1.0, 9.0]), np.random.default_rng(0)
    >>> print(f"{worst_rise(lambda x: x @ (scale * x) / 2, lambda x: scale * x, np.zeros(2), 0.1, rng=rng):.4f}")
    0.0450
    """
    # given: the checks
    _check_measure(x, radius, n_steps=n_steps)
    # yours
    value, best = fun(x), 0.0
    away = ascent(rng.standard_normal(len(x)), radius)
    away = -away if away @ grad(x) < 0 else away
    for _ in range(n_steps):
        away = ascent(grad(x + away), radius)
        best = max(best, float(fun(x + away) - value))
    return best


def top_eigenvalue(
    hvp: HessianProduct,
    x: Float[np.ndarray, " dim"],
    *,
    tol: float = 1e-6,
    n_steps: int = 1000,
    rng: np.random.Generator,
) -> float:
    r"""Return the eigenvalue of the Hessian that is largest in size, with its sign, by power iteration: equation (11).

    Parameters
    ----------
    hvp : callable
        Takes a point and a vector, and returns the product of the Hessian there with it.
    x : ndarray
        The point.
    tol : float
        The residual, as a share of the eigenvalue's size, that is small enough; 0 or more, and finite.
    n_steps : int
        The largest number of products, at least 1.
    rng : numpy.random.Generator
        Source of randomness, for the first vector.

    Returns
    -------
    float
        The last quotient $\lambda$; 0 if a product is zero.

    Raises
    ------
    ValueError
        If `x` is no finite vector, `tol` is negative or not finite, or `n_steps` is below 1.

    Examples
    --------
    >>> def hvp(x, v):
    ...     return np.array([1.0, -9.0]) * v
    >>> print(f"{top_eigenvalue(hvp, np.zeros(2), rng=np.random.default_rng(0)):.4f}")
    -9.0000
    """
    # given: the checks
    _check_measure(x, tol, "tol", n_steps=n_steps)
    # yours
    product, quotient = rng.standard_normal(len(x)), 0.0
    for _ in range(n_steps):
        v = ascent(product, 1.0)
        product = hvp(x, v)
        quotient = float(v @ product)
        if np.linalg.norm(product - quotient * v) <= tol * abs(quotient):
            break
    return quotient


def average_rise(
    fun: Objective, x: Float[np.ndarray, " dim"], scale: float, *, n_draws: int = 1000, rng: np.random.Generator
) -> float:
    r"""Estimate the mean rise under normal changes of the point: equation (12).

    Parameters
    ----------
    fun : callable
        The objective.
    x : ndarray
        The point.
    scale : float
        The standard deviation $\sigma$ of each component's change, 0 or more.
    n_draws : int
        How many changes to draw, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    float
        The mean over the draws, which may be negative.

    Raises
    ------
    ValueError
        If `x` is no finite vector, `scale` is negative or not finite, or `n_draws` is below 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> print(f"{average_rise(lambda x: x @ x / 2, np.zeros(200), 0.1, rng=rng):.1f}")
    1.0
    """
    # given: the checks
    _check_measure(x, scale, "scale", n_draws=n_draws)
    # yours
    changes = float(scale) * rng.standard_normal((n_draws, len(x)))
    return float(np.mean([fun(x + change) for change in changes]) - fun(x))


def _check_radius(value: float, name: str = "radius") -> None:  # given: argument checks
    """Refuse what is no size."""
    if not 0 <= value < np.inf:
        raise ValueError(f"{name} must be non-negative and finite, got {value}")


def _check_measure(x: Vector, size: float, name: str = "radius", **counts: int) -> None:  # given: argument checks
    """Refuse a point that is none, a size that is none, and a count below one."""
    check_arguments(x, step_size=1.0, tol=0.0, max_iter=1)
    _check_radius(size, name)
    for label, count in counts.items():
        if not count >= 1:
            raise ValueError(f"{label} must be at least 1, got {count}")
