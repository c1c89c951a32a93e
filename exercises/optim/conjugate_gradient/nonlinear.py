r"""Nonlinear conjugate gradients: the same two lines, on any smooth function.

## Idea

Linear conjugate gradients need no matrix for their directions: only the present gradient, the last gradient and the
last direction. Put the gradient of any smooth function there, find the step by a line search, and you have a method for
functions that are no quadratics: as cheap as gradient descent, with three or four vectors of memory, and much faster
along narrow valleys. What was one formula on a quadratic now falls apart into several, which agree there and nowhere
else. They differ in what they do when things go wrong: one forgets a bad direction by itself, another drags it along
for hundreds of steps.

## Maths

With $g_k = \nabla f(x_k)$, from $d_0 = -g_0$,

$$x_{k+1} = x_k + a_k d_k, \qquad d_{k+1} = -g_{k+1} + \beta_k d_k , \tag{1}$$

where $a_k$ comes from a line search. On a quadratic with exact steps, linear conjugate gradients take
$\beta_k = g_{k+1}^\top g_{k+1} / g_k^\top g_k$. **Fletcher and Reeves** [1] kept this formula:

$$\beta^{\text{FR}} = \frac{g_{k+1}^\top g_{k+1}}{g_k^\top g_k} . \tag{2}$$

Three others, with $y_k = g_{k+1} - g_k$, are of **Polak and Ribière** [2], of **Hestenes and Stiefel**, and of **Dai
and Yuan** [3]:

$$\beta^{\text{PR}} = \frac{g_{k+1}^\top y_k}{g_k^\top g_k}, \qquad
\beta^{\text{HS}} = \frac{g_{k+1}^\top y_k}{d_k^\top y_k}, \qquad
\beta^{\text{DY}} = \frac{g_{k+1}^\top g_{k+1}}{d_k^\top y_k} . \tag{3}$$

**Why they agree on a quadratic.** There $g_{k+1}^\top g_k = 0$, so the two numerators are the same. An exact step has
$g_{k+1}^\top d_k = 0$, and $g_k^\top d_k = -g_k^\top g_k$ by (1), as the step before was exact too. So the two
denominators, $d_k^\top y_k = -d_k^\top g_k$, are the same as well. That of Hestenes and Stiefel is the one that makes
$d_{k+1}^\top y_k = 0$, whatever the step: neighbouring directions are conjugate for the curvature met on the way.

**Does it go downhill?** Multiply (1) by $g_{k+1}$:

$$g_{k+1}^\top d_{k+1} = -\|g_{k+1}\|^2 + \beta_k\, g_{k+1}^\top d_k . \tag{4}$$

An exact step leaves the first term. Else it depends. For (2), with steps that satisfy the strong condition of Wolfe,
$|g_{k+1}^\top d_k| \le c_2 |g_k^\top d_k|$, let $t_k = g_k^\top d_k / \|g_k\|^2$. Then (4) over $\|g_{k+1}\|^2$ is

$$t_{k+1} = -1 + \frac{g_{k+1}^\top d_k}{\|g_k\|^2}, \qquad |t_{k+1} + 1| \le c_2 |t_k| . \tag{5}$$

From $t_0 = -1$ on, $|t_k| \le 1 + c_2 + c_2^2 + \dots$, hence

$$-\frac{1}{1 - c_2} \le t_k \le -1 + \frac{c_2}{1 - c_2} = -\frac{1 - 2 c_2}{1 - c_2} , \tag{6}$$

which is negative for $c_2 < \tfrac12$ (Al-Baali [4]). So these methods search more carefully than others: with
$c_2 = 0.1$, where BFGS is content with 0.9. For (3) there is no such bound save for DY, which goes downhill with any
step of Wolfe's.

**Jamming.** Suppose that $d_k$ is bad, nearly orthogonal to $g_k$. The step is then tiny and $g_{k+1} \approx g_k$.
Fletcher and Reeves have $\beta \approx 1$, and as $\|d_k\| \gg \|g_k\|$ the new direction is nearly the old one, bad
again. Polak and Ribière have $\beta \approx 0$, and the new direction is nearly $-g_{k+1}$: they restart
by themselves.

**PR+.** With $\beta^{\text{PR}}$ as it is the walk may cycle for ever, even with exact steps, on an example that Powell
found. Gilbert and Nocedal [5] could prove convergence for

$$\beta^{\text{PR+}} = \max(\beta^{\text{PR}}, 0) . \tag{7}$$

**Restarts.** To restart is to take $d_{k+1} = -g_{k+1}$. Three occasions: after as many steps as there are dimensions,
when a quadratic would be done; when consecutive gradients are far from orthogonal (Powell's test, with $\nu = 0.2$),

$$|g_{k+1}^\top g_k| \ge \nu\, \|g_{k+1}\|^2 ; \tag{8}$$

and when the new direction does not lead downhill.

**The first trial** of a line search matters, since directions of (1) do not come with a length as Newton's do. Suppose
that the next step gains as much, to first order, as the last: $a\, g_{k+1}^\top d_{k+1} = a_k\, g_k^\top d_k$, or

$$a = a_k\, \frac{g_k^\top d_k}{g_{k+1}^\top d_{k+1}} . \tag{9}$$

The first time of all, let the step have length 1. As $d_0 = -g_0$, that is $a = 1 / \sqrt{-g_0^\top d_0}$.

## Worked example

Let $f(x, y) = \tfrac12 (x^2 + 4 y^2)$ from $(4, 1)$: $g_0 = (4, 4)$ and $d_0 = (-4, -4)$.

- *Exact step*: $a = 32 / 80 = 0.4$. To $(2.4, -0.6)$ with $g_1 = (2.4, -2.4)$ and $y_0 = (-1.6, -6.4)$. Then
  $\beta^{\text{FR}} = 11.52/32 = 0.36$; $g_1^\top y_0 = -3.84 + 15.36 = 11.52$, so that PR has the same;
  $d_0^\top y_0 = 6.4 + 25.6 = 32$: all four agree. $d_1 = (-2.4 - 1.44,\ 2.4 - 1.44) = (-3.84, 0.96)$ leads
  straight to the minimum: $(2.4, -0.6) + 0.625\, d_1 = 0$.
- *A shorter step*, $a = 0.3$: to $(2.8, -0.2)$ with $g_1 = (2.8, -0.8)$ and $y_0 = (-1.2, -4.8)$. Now
  $g_1^\top g_1 = 8.48$, $g_1^\top y_0 = -3.36 + 3.84 = 0.48$ and $d_0^\top y_0 = 24$: FR has $0.265$, PR $0.015$, HS
  $0.02$ and DY $0.353$.
- *Powell's test* for that step: $g_1^\top g_0 = 8$, more than $0.2 \cdot 8.48$. Restart.

## Plan

The four rules take the new gradient, the one before and the last direction, and return $\beta$.

- `fletcher_reeves`, `polak_ribiere`, `hestenes_stiefel`, `dai_yuan` are (2) and (3).
- `lost_conjugacy` answers (8).
- `next_direction` takes the same and the age of the last direction, and returns the next one and its age, by (1) or a
  restart.
- `trial_step` returns the first trial of a line search, by (9).
- `minimize` walks, with the strong Wolfe search of `optim/line_search`.

Given are `polak_ribiere_plus`, (7), which rests on yours; `_scaled`, which divides the vectors by one number, so that
no square overflows; a `State`; and `_search`, which searches along a state's direction from your first trial, and if
nothing lower is found, once more against the gradient.

## Pitfalls

- It takes hundreds of tiny steps in one direction.
- The line search complains that the direction leads uphill.
- It needs four evaluations a step, where one or two would do.
- It is no better than gradient descent: every step restarts.
- On a quadratic the first two steps are right and the third is not.

## Cost

A line search a step, so about two values and gradients, and O(dim) besides. Memory: gradient, the one before,
direction. The benchmark finds it to take 0.4 to 0.7 times as long as SciPy's, to
the same gradient: its searches begin with better trials and need fewer evaluations.

## Go further

- *Experiment*: minimise Rosenbrock's function in 100 dimensions by all five rules for $c_2$ between 0.01 and 0.9, and
  count the evaluations. Which rule minds a sloppy search?
- *Stretch*: Hager and Zhang [6] add a term to HS that makes every direction lead downhill by
  $g^\top d \le -\tfrac78 \|g\|^2$, with any line search. Add it as a sixth rule.

## References

1. Fletcher & Reeves (1964), Function minimization by conjugate gradients, https://doi.org/10.1093/comjnl/7.2.149
2. Polak & Ribière (1969), Note sur la convergence de méthodes de directions conjuguées,
   https://doi.org/10.1051/m2an/196903R100351
3. Dai & Yuan (1999), A nonlinear conjugate gradient method with a strong global convergence property,
   https://doi.org/10.1137/S1052623497318992
4. Al-Baali (1985), Descent property and global convergence of the Fletcher-Reeves method with inexact line search,
   https://doi.org/10.1093/imanum/5.1.121
5. Gilbert & Nocedal (1992), Global convergence properties of conjugate gradient methods for optimization,
   https://doi.org/10.1137/0802003
6. Hager & Zhang (2005), A new conjugate gradient method with guaranteed descent and an efficient line search,
   https://doi.org/10.1137/030601880
7. Nocedal & Wright (2006), Numerical Optimization, chapter 5, https://doi.org/10.1007/978-0-387-40065-5
"""

# 8 parts to write. Test them with: pytest exercises/optim/conjugate_gradient/nonlinear.py
# To be written without: scipy.optimize

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.line_search import Ray, SearchResult, strong_wolfe_search

Rule = Literal["fletcher_reeves", "polak_ribiere", "polak_ribiere_plus", "hestenes_stiefel", "dai_yuan"]

STALLED = "stopped: no step downhill was found, not even against the gradient"


@dataclass(frozen=True)
class State:
    """Where the walk is.

    Attributes
    ----------
    x : ndarray
        The point.
    value : float
        The objective there.
    gradient : ndarray
        The gradient there.
    direction : ndarray
        Where to go next.
    age : int
        How many steps were made since the last restart: 0 if `direction` is a restart's.
    last_step, last_slope : float or None
        The step size of the last step, and the slope with which it began; None at the start.
    """

    x: Float[np.ndarray, " dim"]
    value: float
    gradient: Float[np.ndarray, " dim"]
    direction: Float[np.ndarray, " dim"]
    age: int = 0
    last_step: float | None = None
    last_slope: float | None = None


def fletcher_reeves(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Fletcher and Reeves, equation (2).

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before; of any representable size.
    direction : ndarray
        The direction of the last step. It does not matter here.

    Returns
    -------
    float
        The share of the last direction that is kept.

    Raises
    ------
    ValueError
        If `previous` is zero.

    Examples
    --------
    >>> print(f"{fletcher_reeves(np.array([2.8, -0.8]), np.array([4.0, 4.0]), np.array([-4.0, -4.0])):.4f}")
    0.2650
    """
    # given: both gradients over one number
    gradient, previous, _ = _scaled(gradient, previous)
    raise NotImplementedError("not written yet: fletcher_reeves")


def polak_ribiere(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Polak and Ribière, equation (3).

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before; of any representable size.
    direction : ndarray
        The direction of the last step. It does not matter here.

    Returns
    -------
    float
        The share of the last direction that is kept; it may be negative.

    Raises
    ------
    ValueError
        If `previous` is zero.

    Examples
    --------
    >>> print(f"{polak_ribiere(np.array([2.8, -0.8]), np.array([4.0, 4.0]), np.array([-4.0, -4.0])):.4f}")
    0.0150
    """
    # given: both gradients over one number
    gradient, previous, _ = _scaled(gradient, previous)
    raise NotImplementedError("not written yet: polak_ribiere")


def polak_ribiere_plus(  # given
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Polak and Ribière where it is positive, and otherwise 0, equation (7).

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before.
    direction : ndarray
        The direction of the last step.

    Returns
    -------
    float
        The share of the last direction that is kept.

    Examples
    --------
    >>> polak_ribiere_plus(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.array([-2.0, -2.0]))
    0.0
    """
    return max(polak_ribiere(gradient, previous, direction), 0.0)


def hestenes_stiefel(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Hestenes and Stiefel, equation (3).

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before; of any representable size.
    direction : ndarray
        The direction of the last step.

    Returns
    -------
    float
        The share of the last direction that is kept; it may be negative. NaN if the slope along the direction did not
        change.

    Raises
    ------
    ValueError
        If `previous` is zero.

    Examples
    --------
    >>> print(f"{hestenes_stiefel(np.array([2.8, -0.8]), np.array([4.0, 4.0]), np.array([-4.0, -4.0])):.4f}")
    0.0200
    """
    # given: all three over one number
    gradient, previous, direction = _scaled(gradient, previous, direction)
    raise NotImplementedError("not written yet: hestenes_stiefel")


def dai_yuan(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Dai and Yuan, equation (3).

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before; of any representable size.
    direction : ndarray
        The direction of the last step.

    Returns
    -------
    float
        The share of the last direction that is kept. NaN if the slope along the direction did not change.

    Raises
    ------
    ValueError
        If `previous` is zero.

    Examples
    --------
    >>> print(f"{dai_yuan(np.array([2.8, -0.8]), np.array([4.0, 4.0]), np.array([-4.0, -4.0])):.4f}")
    0.3533
    """
    # given: all three over one number
    gradient, previous, direction = _scaled(gradient, previous, direction)
    raise NotImplementedError("not written yet: dai_yuan")


RULES = {
    "fletcher_reeves": fletcher_reeves,
    "polak_ribiere": polak_ribiere,
    "polak_ribiere_plus": polak_ribiere_plus,
    "hestenes_stiefel": hestenes_stiefel,
    "dai_yuan": dai_yuan,
}


def lost_conjugacy(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], *, threshold: float = 0.2
) -> bool:
    r"""Say whether two consecutive gradients are far from orthogonal, by Powell's test (8).

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before; of any representable size.
    threshold : float
        The number $\nu$, positive; with infinity the answer is always no.

    Returns
    -------
    bool
        True if (8) holds.

    Raises
    ------
    ValueError
        If `previous` is zero.

    Examples
    --------
    >>> lost_conjugacy(np.array([2.8, -0.8]), np.array([4.0, 4.0]))
    True
    """
    # given: both gradients over one number
    gradient, previous, _ = _scaled(gradient, previous)
    raise NotImplementedError("not written yet: lost_conjugacy")


def next_direction(
    gradient: Float[np.ndarray, " dim"],
    previous: Float[np.ndarray, " dim"],
    direction: Float[np.ndarray, " dim"],
    age: int,
    *,
    rule: Rule = "polak_ribiere_plus",
    restart_every: int,
    threshold: float = np.inf,
) -> tuple[Float[np.ndarray, " dim"], int]:
    r"""Return the next direction, by equation (1) or by a restart.

    Parameters
    ----------
    gradient, previous : ndarray
        The gradient at the new point, and at the one before.
    direction : ndarray
        The direction of the last step.
    age : int
        How many steps were made since the last restart before that step: 0 if its direction was a restart's.
    rule : {"polak_ribiere_plus", "polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan"}
        Which $\beta$.
    restart_every : int
        The next direction is a restart's if otherwise its age would be so many steps.
    threshold : float
        The number $\nu$ of Powell's test (8), a reason for a restart too; infinity for no such test.

    Returns
    -------
    direction : ndarray
        By (1); or, after a restart, the negative gradient. A restart is also made if that of (1) is not finite or
        does not lead downhill.
    age : int
        0 after a restart, else one more than before.

    Raises
    ------
    ValueError
        If `rule` is unknown.

    Examples
    --------
    >>> gradient, previous, direction = np.array([2.4, -2.4]), np.array([4.0, 4.0]), np.array([-4.0, -4.0])
    >>> next_direction(gradient, previous, direction, 0, restart_every=2)
    (array([-3.84,  0.96]), 1)
    """
    # given: the check
    _check_rule(rule)
    raise NotImplementedError("not written yet: next_direction")


def trial_step(slope: float, *, last_step: float | None = None, last_slope: float | None = None) -> float:
    """Return the step size with which a line search begins, by equation (9).

    Parameters
    ----------
    slope : float
        The slope along the direction, negative.
    last_step, last_slope : float, optional
        The step size of the last step, and the slope with which it began. Without them the direction is taken for
        the negative gradient, and the step to have length 1.

    Returns
    -------
    float
        The first trial.

    Examples
    --------
    >>> trial_step(-4.0), trial_step(-4.0, last_step=0.5, last_slope=-12.0)
    (0.5, 1.5)
    """
    raise NotImplementedError("not written yet: trial_step")


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    rule: Rule = "polak_ribiere_plus",
    curvature: float = 0.1,
    restart_every: int | None = None,
    threshold: float = np.inf,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    r"""Minimise a function by nonlinear conjugate gradients.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    rule : {"polak_ribiere_plus", "polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan"}
        Which $\beta$.
    curvature : float
        The $c_2$ of the strong Wolfe search, between 0 and 1; below 1/2 for (6). Its $c_1$ is the lesser of 0.0001 and
        half of that.
    restart_every : int, optional
        A restart at the latest after so many steps; as many as there are dimensions if not given.
    threshold : float
        The number $\nu$ of Powell's test (8), who took 0.2; infinity for no such test.
    tol : float
        Converged when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        `nit` counts steps, `nfev` evaluations of `fun`, that at the start included. `success` is true only for the
        message `CONVERGED` of `optim/gradient_descent`; the others are its `DIVERGED` and `OUT_OF_STEPS`, and
        `STALLED`, where neither the direction nor a restart led lower. A step that is lower, but satisfies not all that
        the line search asks for, is made.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`, `rule` is unknown,
        `curvature` does not lie between 0 and 1, `restart_every` is below 1, `threshold` is not positive, or `grad`
        returns the wrong shape.

    Examples
    --------
    >>> result = minimize(lambda x: (x[0] ** 2 + 4 * x[1] ** 2) / 2, lambda x: np.array([1.0, 4.0]) * x, [4.0, 1.0])
    >>> result.success, result.nit < 10, bool(abs(result.x).max() < 1e-5)
    (True, True, True)
    """
    # given: the checks, and how to find the next direction
    _check(rule, curvature, restart_every, threshold)
    start, grad = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter), checked_gradient(grad)
    options = {"rule": rule, "restart_every": restart_every or len(start), "threshold": threshold}
    raise NotImplementedError("not written yet: minimize")


def _search(  # given
    fun: Objective, grad: Gradient, state: State, curvature: float
) -> tuple[SearchResult, Vector, int]:
    """Search along the state's direction, and if nothing lower is found, against the gradient.

    It returns how the search ended, with a step size of 0 if both have failed, the direction, and its age.
    """
    slope = float(state.gradient @ state.direction)
    if not -np.inf < slope < 0:  # the squares over- or underflow
        return SearchResult(0.0, state.value, state.gradient, 0, 0, False, STALLED), state.direction, state.age
    first = trial_step(slope, last_step=state.last_step, last_slope=state.last_slope)
    first = min(max(first, 1e-300), 1e300)
    ray = Ray(fun, grad, state.x, state.direction, value=state.value, gradient=state.gradient)
    search = strong_wolfe_search(ray, step_size=first, decrease=min(1e-4, curvature / 2), curvature=curvature)
    if search.step_size > 0 or state.age == 0:
        return search, state.direction, state.age
    anew = State(state.x, state.value, state.gradient, -state.gradient)
    again, direction, age = _search(fun, grad, anew, curvature)
    return replace(again, nfev=search.nfev + again.nfev), direction, age


def _scaled(  # given
    gradient: Vector, previous: Vector, direction: Vector | None = None
) -> tuple[Vector, Vector, Vector]:
    """Return the vectors over the largest component of the second, refusing zero."""
    scale = abs(previous).max()
    if not scale > 0:
        raise ValueError(f"previous must be a gradient that is not zero, got {previous}")
    return gradient / scale, previous / scale, previous if direction is None else direction / scale


def _check_rule(rule: str) -> None:  # given: argument checks
    """Refuse an unknown rule."""
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")


def _check(  # given: argument checks
    rule: str, curvature: float, restart_every: int | None, threshold: float
) -> None:
    """Refuse what `minimize` cannot use."""
    _check_rule(rule)
    if not 0 < curvature < 1:
        raise ValueError(f"curvature must lie between 0 and 1, got {curvature}")
    if restart_every is not None and not restart_every >= 1:
        raise ValueError(f"restart_every must be at least 1, got {restart_every}")
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
