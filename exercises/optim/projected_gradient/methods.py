r"""Projected gradient and Frank-Wolfe: two ways downhill that stay in a set.

## Idea

A gradient step may lead out of what is allowed. Then there are two remedies. *Projected gradient* steps out and comes
back, to the nearest allowed point: it behaves just like gradient descent, and is good wherever the projection is cheap.
*Frank and Wolfe* never step out: they ask in which allowed point the gradient's linear function is least, usually a
corner, and go a part of the way there. That is slower, but it needs no projection, each step adds one corner only, and
it says at each step how far from the minimum it is at most.

## Maths

We minimise $f$, convex and $L$-smooth, over a closed convex set $C$. Write $P$ for the projection onto $C$, whose mark
is $(z - P z)^\top (y - P z) \le 0$ for all $y \in C$.

**Optimality.** $x^\star \in C$ is a minimum if and only if no direction into the set leads downhill:

$$\nabla f(x^\star)^\top (y - x^\star) \ge 0 \quad \text{for all } y \in C. \tag{1}$$

The gradient itself need not be zero there. What must be zero is the **gradient mapping**, the move of one projected
step in units of the step size $a$:

$$x^+ = P\bigl(x - a \nabla f(x)\bigr), \qquad G_a(x) = \frac{x - x^+}{a} , \tag{2}$$

since $x = P(x - a \nabla f(x))$ says by the mark of $P$ just (1). Without constraints $G_a$ is the gradient.

**Descent.** The mark of $P$ with $z = x - a \nabla f(x)$ and $y = x$ gives

$$\nabla f(x)^\top (x - x^+) \ge \tfrac1a \|x - x^+\|^2 = a\, \|G_a(x)\|^2 , \tag{3}$$

and with $f(x^+) \le f(x) + \nabla f(x)^\top (x^+ - x) + \frac{L}{2} \|x^+ - x\|^2$, a step of $a \le 1/L$ gains at
least $\frac a2 \|G_a(x)\|^2$. From here all goes as for gradient descent. With $a = 1/L$

$$f(x_k) - f^\star \le \frac{L\, \|x_0 - x^\star\|^2}{2 k} , \tag{4}$$

and if the curvature is nowhere below $\mu > 0$, distances shrink by a constant factor, for $x^\star$ is a fixed point of
(2), the inner step brings points together by it, and $P$ never takes them apart:

$$\|x_{k+1} - x^\star\| \le \max\{|1 - a\mu|,\ |1 - aL|\}\; \|x_k - x^\star\| . \tag{5}$$

**Without $L$.** Let $x(a) = P(x - a \nabla f(x))$; as $a$ grows from 0 this draws the *projection arc*, which bends
along the borders of the set. Shorten $a$ until the decrease is a share $c$ of what the gradient promises for the way
that was really gone [1]:

$$f(x(a)) \le f(x) - c\, \nabla f(x)^\top \bigl(x - x(a)\bigr) . \tag{6}$$

By (3) the right side is below $f(x)$, and every $a \le 2 (1 - c) / L$ passes.

**Frank-Wolfe** [2]. At $x$, minimise the linear function instead, which is easy on many sets:

$$s \in \arg\min_{y \in C} \nabla f(x)^\top y . \tag{7}$$

- *Box*: each coordinate goes to its lower bound where the gradient is positive, to the upper where it is negative.
- *Simplex* of sum $r$: all of $r$ on the coordinate with the smallest gradient. *Polytope*: the vertex with the
  smallest product.
- *Ball of the 1-norm*: with $i$ the coordinate where $|\nabla f_i|$ is largest,

$$s = - r \operatorname{sign}(\nabla f_i)\, e_i . \tag{8}$$

- *Ball*: from the centre against the gradient,

$$s = c - r\, \nabla f / \|\nabla f\| . \tag{9}$$

**A certificate for nothing.** As $f$ lies above its tangent, $f^\star \ge f(x) + \nabla f(x)^\top (x^\star - x)$, and
the right side is least with $s$ in the place of $x^\star$. So the **gap** bounds what is left to gain:

$$g(x) = \nabla f(x)^\top (x - s) \ge f(x) - f^\star . \tag{10}$$

**The step** goes to a weighted mean, which cannot leave the set:

$$x_{k+1} = x_k + \gamma\, (s - x_k), \qquad \gamma = \frac{2}{k + 2} \quad (k = 0, 1, \dots), \tag{11}$$

or, on a quadratic with second derivatives $H$, with $d = s - x$, to the best point of the segment:

$$\gamma = \min\left\{1,\ \frac{-\nabla f(x)^\top d}{d^\top H d}\right\} . \tag{12}$$

Let $D$ be the diameter of $C$. Smoothness and (10) give, for every $\gamma$,
$f(x_{k+1}) - f^\star \le (1 - \gamma) (f(x_k) - f^\star) + \frac{\gamma^2}{2} L D^2$, and by induction, for both rules,

$$f(x_k) - f^\star \le \frac{2 L D^2}{k + 2} . \tag{13}$$

It is really that slow. Minimise $\|x\|^2$ over the simplex from a corner: each step adds one corner, so after $k$ steps
at most $k + 1$ entries are not zero, and $f(x_k) \ge 1/(k + 1)$.

## Worked example

$f(x) = \frac12 \|x - p\|^2$ with $p = (2, 0.5)$ over the box $0 \le x \le 1$, from $(0, 0)$. The minimum is
$(1, 0.5)$, with $f^\star = 0.5$ and the gradient $(-1, 0)$, which is not zero.

- *Projected gradient*, $a = 0.5$: gradient $(-2, -0.5)$, to $(1, 0.25)$, inside. $G = (-2, -0.5)$. Next: gradient
  $(-1, -0.25)$, to $P(1.5, 0.375) = (1, 0.375)$: $G = (0, -0.25)$. The second error halves each time.
- *Frank-Wolfe*: gradient $(-2, -0.5)$, so $s = (1, 1)$; the gap is 2.5, and indeed $f - f^\star = 1.625$ is less. With
  $\gamma = 2/2$ it goes all the way to $(1, 1)$. There the gradient is $(-1, 0.5)$, $s = (1, 0)$, gap 0.5. With
  $\gamma = 2/3$: $(1, 0.333)$. With (12), $d = (0, -1)$: $\gamma = 0.5 / 1$, which is the minimum.

## Plan

- `projected_step` makes one step and returns the next point and the gradient mapping, by (2).
- `arc_search` shortens the step until (6) holds.
- `projected_gradient` walks, with fixed steps or by the search, until no component of the mapping exceeds a tolerance.
- `box_vertex`, `l1_ball_vertex`, `ball_point` take a gradient and return $s$ by (7), (8), (9). The ones for simplex and
  polytope are given.
- `segment_step` returns the share of (12).
- `frank_wolfe` walks by (11) or (12) until the gap (10) is within a tolerance.

## Pitfalls

- The walk has arrived, and the gradient is far from zero.
- The line search never accepts, once the walk has reached a border.
- Steps are measured before the projection.
- The gap is negative: then $x$ is not in the set, or $s$ is not where the linear function is least.
- Frank-Wolfe starts well, and then zigzags between the same few corners.
- The first step of (11) forgets the start altogether. That is meant.

## Cost

One gradient, one value and one projection, or linear minimum, a step. For the ball of the nuclear norm the projection
needs all singular values, the linear minimum only the largest: that is where Frank-Wolfe pays. Steps: (4) and (5), or
(13). On well-conditioned least squares in a box, of up to 400 variables, the benchmark finds projected gradient ten
times as fast as SciPy's `lsq_linear`, which factors a matrix at each step but does not mind bad conditioning.

## Go further

- *Experiment*: the lasso in its constrained form, over the ball of the 1-norm. Plot the number of entries that are not
  zero against the value, for both methods.
- *Stretch*: away steps [4]: keep the weights of the corners, and if going away from the worst of them promises more than
  going towards the best, do that, until its weight is zero. On a polytope the rate is then linear.

## References

1. Bertsekas (1976), On the Goldstein-Levitin-Polyak gradient projection method,
   https://doi.org/10.1109/TAC.1976.1101194
2. Frank & Wolfe (1956), An algorithm for quadratic programming, https://doi.org/10.1002/nav.3800030109
3. Jaggi (2013), Revisiting Frank-Wolfe: projection-free sparse convex optimization,
   https://proceedings.mlr.press/v28/jaggi13.html
4. Lacoste-Julien & Jaggi (2015), On the global linear convergence of Frank-Wolfe optimization variants,
   https://arxiv.org/abs/1511.05932
"""

# 8 parts to write. Test them with: pytest exercises/optim/projected_gradient/methods.py
# To be written without: scipy.optimize, numpy.clip

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, HessianProduct, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.projected_gradient.projections import Projection, norms

Oracle = Callable[[Vector], Vector]

CONVERGED = "converged: the gradient mapping, or the gap, is within tol"
DIVERGED = "diverged: the objective or its gradient is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the measure fell to tol"
STALLED = "stopped: no trial step satisfied the Armijo condition"


@dataclass(frozen=True)
class ArcSearch:
    """How a search along the projection arc ended.

    Attributes
    ----------
    step_size : float
        The accepted step size; 0 if no trial was accepted.
    x : ndarray
        The point after that step.
    value : float
        The objective there.
    nfev : int
        Number of trials, each of which evaluates the objective once.
    """

    step_size: float
    x: Float[np.ndarray, " dim"]
    value: float
    nfev: int


@dataclass(frozen=True)
class FrankWolfeResult(OptimizeResult):
    """What Frank-Wolfe ended with: as `OptimizeResult`, and a certificate.

    Attributes
    ----------
    gap : float
        The gap (10) at the last point: the objective is nowhere in the set lower by more.
    """

    gap: float = np.inf


def projected_step(
    x: Float[np.ndarray, " dim"], gradient: Float[np.ndarray, " dim"], project: Projection, step_size: float
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    """Take one projected step, and measure it: equation (2).

    Parameters
    ----------
    x : ndarray
        Where to step from. It is not changed.
    gradient : ndarray
        The gradient there.
    project : callable
        The projection onto the set.
    step_size : float
        The step size $a$.

    Returns
    -------
    tuple of ndarray
        The next point, just as the projection returned it, and the gradient mapping.

    Examples
    --------
    >>> step, mapping = projected_step(np.array([1.0, 0.25]), np.array([-1.0, -0.25]), lambda x: x.clip(0, 1), 0.5)
    >>> step, mapping
    (array([1.   , 0.375]), array([ 0.  , -0.25]))
    """
    raise NotImplementedError("not written yet: projected_step")


def arc_search(
    fun: Objective,
    x: Float[np.ndarray, " dim"],
    value: float,
    gradient: Float[np.ndarray, " dim"],
    project: Projection,
    *,
    step_size: float = 1.0,
    shrink: float = 0.5,
    decrease: float = 1e-4,
    max_trials: int = 60,
) -> ArcSearch:
    """Shorten a projected step until it satisfies Armijo's condition along the arc, equation (6).

    The trials are `step_size`, then `shrink` times that, and so on; the first that satisfies (6) is taken. A trial whose
    value is NaN or infinite, or not below `value`, does not satisfy it.

    Parameters
    ----------
    fun : callable
        The objective.
    x : ndarray
        Where to step from, in the set.
    value : float
        The objective there.
    gradient : ndarray
        The gradient there.
    project : callable
        The projection onto the set.
    step_size : float
        The first trial.
    shrink : float
        The factor between trials, between 0 and 1.
    decrease : float
        The share $c$, between 0 and 1.
    max_trials : int
        After so many refused trials the search gives up.

    Returns
    -------
    ArcSearch
        The accepted step size, the point and the objective there, and the number of trials. If none was accepted: 0, `x`,
        `value`, `max_trials`.

    Raises
    ------
    ValueError
        If `step_size` is not positive and finite, `shrink` or `decrease` is not strictly between 0 and 1, or
        `max_trials` is below 1.

    Examples
    --------
    >>> def bowl(x):
    ...     return 2 * x @ x
    >>> found = arc_search(
    ...     bowl, np.array([1.0, 2.0]), 10.0, np.array([4.0, 8.0]), lambda x: x.clip(-3, 3), step_size=0.8
    ... )
    >>> found.step_size, found.x.round(4), found.nfev
    (0.4, array([-0.6, -1.2]), 2)
    """
    # given: the checks
    if not 0 < step_size < np.inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not (0 < shrink < 1 and 0 < decrease < 1):
        raise ValueError(f"shrink and decrease must lie between 0 and 1, got {shrink} and {decrease}")
    if max_trials < 1:
        raise ValueError(f"max_trials must be at least 1, got {max_trials}")
    raise NotImplementedError("not written yet: arc_search")


def projected_gradient(
    fun: Objective,
    grad: Gradient,
    project: Projection,
    start: ArrayLike,
    *,
    rule: Literal["fixed", "armijo"] = "fixed",
    step_size: float = 1.0,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a function over a set by projected gradient steps.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient. They are evaluated at points of the set only.
    project : callable
        The projection onto the set.
    start : array_like
        Where to begin, not necessarily in the set: its projection is the first point. It is not changed.
    rule : {"fixed", "armijo"}
        Always `step_size`; or by `arc_search` with its defaults, which begins each search at `step_size`.
    step_size : float
        The step size, or the first trial of each search. The gradient mapping is measured with it, under both rules.
    tol : float
        Converged when no component of the gradient mapping exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields `x` and `fun`, the last point and the objective there; `nit` steps and `nfev` calls of `fun`, that at the
        first point included; `success`, true only for the message `CONVERGED`; `message`: this, `DIVERGED`, `OUT_OF_STEPS` or,
        if a search found no step, `STALLED`; `path`, None unless `record_path` is set, with `nit + 1` rows, from the
        first point to `x`.

    Raises
    ------
    ValueError
        If an argument is refused by gradient descent's `check_arguments`, `rule` is unknown, or `grad` or `project`
        returns the wrong shape.

    Examples
    --------
    >>> p = np.array([2.0, 0.5])
    >>> result = projected_gradient(
    ...     lambda x: (x - p) @ (x - p),
    ...     lambda x: 2 * (x - p),
    ...     lambda x: x.clip(0, 1),
    ...     [0.0, 0.0],
    ...     step_size=0.25,
    ...     record_path=True,
    ... )
    >>> result.path[:3], result.success
    (array([[0.   , 0.   ],
           [1.   , 0.25 ],
           [1.   , 0.375]]), True)
    """
    # given: the checks
    x, project = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter), _checked(project, "project")
    grad = _checked_rule(rule, grad)
    raise NotImplementedError("not written yet: projected_gradient")


def box_vertex(gradient: Float[np.ndarray, " dim"], lower: ArrayLike, upper: ArrayLike) -> Float[np.ndarray, " dim"]:
    """Return where a linear function is least in a box, by (7).

    Parameters
    ----------
    gradient : ndarray
        The linear function's coefficients.
    lower, upper : array_like
        The bounds, all finite: one number each, or one for each coordinate.

    Returns
    -------
    ndarray
        A corner, in the precision of `gradient`. Where a coefficient is 0, either bound.

    Raises
    ------
    ValueError
        If a bound is not finite, or a lower one is above the upper.

    Examples
    --------
    >>> box_vertex(np.array([0.3, -2.0, 1.0]), -1, [1, 2, 3])
    array([-1.,  2., -1.])
    """
    # given: the checks
    low, high = (np.broadcast_to(np.asarray(b, dtype=gradient.dtype), gradient.shape) for b in (lower, upper))
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all()):
        raise ValueError(f"lower and upper must be finite, and lower at most upper, got {lower} and {upper}")
    raise NotImplementedError("not written yet: box_vertex")


def simplex_vertex(gradient: Float[np.ndarray, " dim"], radius: float = 1.0) -> Float[np.ndarray, " dim"]:  # given
    """Return where a linear function is least among the points without negative entries of sum `radius`.

    Parameters
    ----------
    gradient : ndarray
        The linear function's coefficients.
    radius : float
        The sum. Positive.

    Returns
    -------
    ndarray
        A corner, in the precision of `gradient`.

    Examples
    --------
    >>> simplex_vertex(np.array([0.3, -2.0, 1.0]), 2.5)
    array([0. , 2.5, 0. ])
    """
    vertex = np.zeros_like(gradient)
    vertex[gradient.argmin()] = radius
    return vertex


def polytope_vertex(  # given
    gradient: Float[np.ndarray, " dim"], vertices: Float[np.ndarray, "n_vertices dim"]
) -> Float[np.ndarray, " dim"]:
    """Return where a linear function is least in the convex hull of some points.

    Parameters
    ----------
    gradient : ndarray
        The linear function's coefficients.
    vertices : ndarray
        The points, one a row.

    Returns
    -------
    ndarray
        One of them.

    Examples
    --------
    >>> polytope_vertex(np.array([0.3, -2.0]), np.array([[1.0, 0.0], [2.0, 1.5], [9.0, 1.0]]))
    array([2. , 1.5])
    """
    return vertices[(vertices @ gradient).argmin()].astype(gradient.dtype)


def l1_ball_vertex(gradient: Float[np.ndarray, " dim"], radius: float = 1.0) -> Float[np.ndarray, " dim"]:
    """Return where a linear function is least among points whose absolute values sum to at most `radius`: equation (8).

    Parameters
    ----------
    gradient : ndarray
        The linear function's coefficients.
    radius : float
        Positive.

    Returns
    -------
    ndarray
        A corner, in the precision of `gradient`; any point of the ball if all coefficients are 0.

    Raises
    ------
    ValueError
        If `radius` is not positive and finite.

    Examples
    --------
    >>> l1_ball_vertex(np.array([0.3, -2.0, 1.0]), 2.5)
    array([0. , 2.5, 0. ])
    """
    # given: the checks
    _check_radius(radius)
    raise NotImplementedError("not written yet: l1_ball_vertex")


def ball_point(
    gradient: Float[np.ndarray, " dim"], radius: float = 1.0, *, center: ArrayLike = 0.0
) -> Float[np.ndarray, " dim"]:
    """Return where a linear function is least in a ball, by equation (9).

    Parameters
    ----------
    gradient : ndarray
        The linear function's coefficients, of any size.
    radius : float
        Positive.
    center : array_like
        One number, or one for each coordinate.

    Returns
    -------
    ndarray
        A point of the sphere, in the precision of `gradient`; the centre if all coefficients are 0.

    Raises
    ------
    ValueError
        If `radius` is not positive and finite.

    Examples
    --------
    >>> ball_point(np.array([0.3, -0.4]), 10.0, center=1.0)
    array([-5.,  9.])
    """
    # given: the checks, and the centre in the precision of the gradient
    _check_radius(radius)
    middle = np.broadcast_to(np.asarray(center, dtype=gradient.dtype), gradient.shape)
    raise NotImplementedError("not written yet: ball_point")


def segment_step(gradient: Vector, towards: Vector, product: Vector) -> float:
    """Return how far to go along a segment on which a function is quadratic: equation (12).

    Parameters
    ----------
    gradient : ndarray
        The gradient at the segment's beginning.
    towards : ndarray
        From there to its end, the vector $d$.
    product : ndarray
        The second derivatives times that, $H d$.

    Returns
    -------
    float
        The share of the segment, from 0 to 1, where the function is least: 1 if it falls to the end, also where it is
        straight or bent downwards; 0 if it does not fall at all.

    Examples
    --------
    >>> print(segment_step(np.array([-1.0, 0.5]), np.array([0.0, -1.0]), np.array([0.0, -1.0])))
    0.5
    """
    raise NotImplementedError("not written yet: segment_step")


def frank_wolfe(
    fun: Objective,
    grad: Gradient,
    vertex: Oracle,
    start: ArrayLike,
    *,
    rule: Literal["classic", "exact"] = "classic",
    hvp: HessianProduct | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> FrankWolfeResult:
    """Minimise a function over a set by steps towards where its tangent is least.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    vertex : callable
        Takes a gradient and returns the point of the set where the linear function is least, (7).
    start : array_like
        Where to begin, a point of the set; not changed.
    rule : {"classic", "exact"}
        The share of the way: by (11), or by (12), which is exact on quadratics only.
    hvp : callable, optional
        Takes a point and a vector and returns the second derivatives times the vector. The exact rule needs it.
    tol : float
        Converged when the gap (10) is at most so large.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    FrankWolfeResult
        With the fields `x`, `fun` and `gap`, the last point, the objective and the gap there; `nit` steps, and `nfev` calls of
        `fun`, one at each point; `success`, true only for the message `CONVERGED`; `message`: this, `DIVERGED` or
        `OUT_OF_STEPS`; `path`, None unless `record_path` is set, with `nit + 1` rows, from the start to `x`.

    Raises
    ------
    ValueError
        If an argument is refused by gradient descent's `check_arguments`, `rule` is unknown, `hvp` is missing for the
        exact rule, or `grad` or `vertex` returns the wrong shape.

    Examples
    --------
    >>> p = np.array([2.0, 0.5])
    >>> result = frank_wolfe(
    ...     lambda x: (x - p) @ (x - p) / 2,
    ...     lambda x: x - p,
    ...     lambda g: box_vertex(g, 0, 1),
    ...     [0.0, 0.0],
    ...     rule="exact",
    ...     hvp=lambda x, v: v,
    ... )
    >>> result.x, result.gap, result.nit
    (array([1. , 0.5]), 0.0, 2)
    """
    # given: the checks
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    if rule not in ("classic", "exact") or (rule == "exact" and hvp is None):
        raise ValueError(f"rule must be 'classic', or 'exact' with hvp, got {rule!r}")
    product: HessianProduct = hvp or (lambda x, v: v)
    grad, vertex = checked_gradient(grad), _checked(vertex, "vertex")
    raise NotImplementedError("not written yet: frank_wolfe")


def _reason(value: float, measure: ArrayLike, nit: int, *, tol: float, max_iter: int) -> str | None:  # given
    """Return the reason to stop, or None: not finite; no component of the measure exceeds tol; the steps are used up."""
    if not (np.isfinite(value) and np.isfinite(measure).all()):
        return DIVERGED
    if np.max(np.abs(measure)) <= tol:
        return CONVERGED
    return OUT_OF_STEPS if nit >= max_iter else None


def _check_radius(radius: float) -> None:  # given
    """Refuse a radius that is none."""
    if not 0 < radius < np.inf:
        raise ValueError(f"radius must be positive and finite, got {radius}")


def _checked_rule(rule: str, grad: Gradient) -> Gradient:  # given: the check of a rule
    """Return the gradient, checked, or refuse an unknown rule."""
    if rule not in ("fixed", "armijo"):
        raise ValueError(f"rule must be 'fixed' or 'armijo', got {rule!r}")
    return checked_gradient(grad)


def _checked(function: Callable[[Vector], Vector], name: str) -> Callable[[Vector], Vector]:  # given
    """Return a projection or an oracle that keeps dtype and shape; what is not finite it hands on as it is."""

    def checked(x: Vector) -> Vector:
        if not np.isfinite(x).all():
            return np.full_like(x, np.nan)
        found = np.asarray(function(x), dtype=x.dtype)
        if found.shape != x.shape:
            raise ValueError(f"{name} must return shape {x.shape}, got {found.shape}")
        return found

    return checked
