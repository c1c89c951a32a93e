r"""Line search: how far to go, once the direction is known.

## Idea

A method for minimisation chooses a direction that leads downhill and asks: how far? To find the very lowest point of
that line is not worth its price, since the next direction leads elsewhere anyway. It is enough that a step is *good*,
and two questions tell: does the function fall by a fair share of what the slope promised (or is the step too long)?
And has the slope flattened out (or is the step too short)? Steps that pass both are what the proofs for quasi-Newton
methods and conjugate gradients rest on, and two or three trials usually find one.

## Maths

Along a direction $d$ from a point $x$, the objective is a function of one number, the step size $a$:

$$\phi(a) = f(x + a d), \qquad \phi'(a) = \nabla f(x + a d)^\top d . \tag{1}$$

$d$ is a direction of descent if $\phi'(0) < 0$. **Armijo's condition** [1] asks for a share $c_1$ of the decrease that
the slope at the start promises:

$$\phi(a) \le \phi(0) + c_1\, a\, \phi'(0) . \tag{2}$$

Every small enough step satisfies it, so it cannot tell a step that is too short. **Wolfe's condition** [2] can. It asks
that the slope has risen to a share $c_2$ of what it was, $0 < c_1 < c_2 < 1$:

$$\phi'(a) \ge c_2\, \phi'(0) , \tag{3}$$

for where the function still falls as steeply as at first, one should go on. It lets slopes pass that rise as steeply as
one likes; the **strong** Wolfe condition does not:

$$|\phi'(a)| \le c_2\, |\phi'(0)| . \tag{4}$$

**Such steps exist** if $\phi$ is smooth and bounded below. The line on the right of (2) falls for ever, so it meets
$\phi$ again; let $a_1 > 0$ be the first such place. Up to it (2) holds, and by the mean value theorem there is an
$a_2 < a_1$ with $\phi'(a_2) = c_1 \phi'(0)$. As $c_1 < c_2$, that slope satisfies (3) strictly, and (4) too, being
negative. So does all of a small interval around $a_2$: there is something to hit.

**What they are for.** With $s = a d$ and $y = \nabla f(x + a d) - \nabla f(x)$, (3) gives

$$s^\top y = a\,\bigl(\phi'(a) - \phi'(0)\bigr) \ge -(1 - c_2)\, a\, \phi'(0) > 0 , \tag{5}$$

without which BFGS would lose its positive definite matrix. And if each step of a method satisfies (2) and (3), and the
gradient is Lipschitz, then $\sum_k \cos^2\theta_k \|\nabla f(x_k)\|^2$ is finite (Zoutendijk), where $\theta_k$ is the
angle between the direction and the negative gradient: a method whose directions stay clear of a right angle converges,
from everywhere.

**Where to try next: a parabola.** If a trial $a$ fails (2), three things are known: $\phi(0)$, $\phi'(0)$, $\phi(a)$.
The parabola through them is least at

$$a_{\text{new}} = \frac{-\phi'(0)\, a^2}{2\,\bigl(\phi(a) - \phi(0) - \phi'(0)\, a\bigr)} . \tag{6}$$

The denominator is positive whenever (2) fails. To be safe against a parabola that fits badly, the new trial is kept
between a tenth and a half of the old.

**A cubic.** With slopes at two trials $a_0$ and $a_1$, there is a cubic through both values with both slopes. Put
$a = a_0 + t\,(a_1 - a_0)$, so that $t$ runs from 0 to 1, and let $S_i = (a_1 - a_0)\,\phi'(a_i)$ be the slopes in
terms of $t$. The cubic's slope is a parabola in $t$ that takes these values at the ends:

$$q(t) = S_0 (1 - t)^2 + 2 m\, t (1 - t) + S_1 t^2 . \tag{7}$$

Its integral from 0 to 1 is $(S_0 + m + S_1)/3$, and must be $\phi(a_1) - \phi(a_0)$, which gives

$$m = 3\,\bigl(\phi(a_1) - \phi(a_0)\bigr) - S_0 - S_1 . \tag{8}$$

The cubic is level where $q(t) = 0$, or sorted by powers

$$(S_0 - 2 m + S_1)\, t^2 - 2\,(S_0 - m)\, t + S_0 = 0 , \tag{9}$$

and of the two roots the minimum is the one at which $q$ rises. Half of $q'$ at the roots is $\pm r$ with

$$r = \sqrt{m^2 - S_0 S_1} . \tag{10}$$

Zero or less under the root: the cubic has no minimum. Where $\phi$ is nearly a parabola, the first coefficient of
(9) nearly vanishes, and of the two ways to write the root of a quadratic equation (their product is known as well as
their sum) one loses all digits, and the other none.

**Bracket, then zoom** [3]. Let a trial be *low* if it satisfies (2) and none that satisfies it had a smaller value. An
interval that begins at a low trial and leads downhill from there contains steps that satisfy (2) and (4) as soon as its
other end either fails (2), or is not below the low end, or has a slope that leads back into the interval. The search
doubles the step until two neighbouring trials are the ends of such an interval. Then it **zooms**: it tries a step
within, by the cubic, and puts it in the place of one of the two ends, so that the interval is of that kind again.

## Worked example

Let $\phi(a) = a^3 - 2a$, so $\phi(0) = 0$ and $\phi'(0) = -2$, with $c_1 = 0.1$ and $c_2 = 0.4$.

- The trial $a = 2$: $\phi = 4$, but (2) asks for at most $-0.4$. Too long. By (6), the parabola is least at
  $2 \cdot 4 / (2\,(4 - 0 + 4)) = 0.5$. There $\phi = -0.875$, below $-0.1$: accepted by Armijo. The slope is
  $3 \cdot 0.25 - 2 = -1.25$, and (3) asks for at least $-0.8$: too short for Wolfe.
- The trial $a = 1$: $\phi = -1$, below $-0.2$; the slope is $1$: (3) holds, (4) does not, since $1 > 0.8$.
- The cubic through $a_0 = 0$ and $a_1 = 1$: $S_0 = -2$, $S_1 = 1$, $m = 3 \cdot (-1) + 2 - 1 = -2$. Equation (9) is
  $3 t^2 - 0\, t - 2 = 0$ and $r = \sqrt{4 + 2} = \sqrt 6$. The minimum is at $t = \sqrt{2/3} \approx 0.816$, and indeed
  $\phi' = 3a^2 - 2$ vanishes there. A cubic is found at once.

## Plan

- `sufficient_decrease` takes the start, a step size and the value there, and says whether (2) holds.
- `enough_curvature` takes the start and a trial, and says whether (3), or (4), holds.
- `cubic_minimizer` takes two trials and returns where the cubic through them is least, by (7) to (10).
- `armijo_search` shortens a step by (6) until (2) holds.
- `wolfe_search` doubles and halves until (2) and (3) hold.
- `zoom` takes the two ends of an interval and narrows it until (2) and (4) hold.
- `strong_wolfe_search` finds the interval and has it narrowed.

Given are `Ray`, the objective along the direction, which counts its evaluations, and `interpolate`, which keeps the
trial by your cubic clear of the ends.

## Pitfalls

- BFGS divides by $s^\top y$, and it is zero or negative.
- The search never ends, at a trial where the objective is NaN.
- It accepts the first trial always, or only tiny steps.
- The two ends of the interval are on the same side of the minimum.
- It takes a maximum for a minimum.
- Near the minimum no step satisfies (2): what it asks for is less than the rounding of $f$.

## Cost

What counts is the evaluations. On a smooth function near a minimum one trial does, if the direction comes with its
length (Newton's and BFGS's do), and two or three if not. Armijo's search needs no gradients but one at the end. Besides
them the vectors cost O(dim) a trial. The benchmark finds the strong search to take 1.1 to 1.4 times
as long as SciPy's, which zooms by the same scheme.

## Go further

- *Experiment*: count the trials on the six functions of Moré and Thuente [4] for first steps from 0.001 to 1000, with
  the cubic and with plain bisection. When does the cubic pay?
- *Stretch*: Hager and Zhang [5] replace (2), near the minimum, by a condition on slopes alone, which rounding spares.
  Minimise $1 + x^2$ to full precision with it, and without.

## References

1. Armijo (1966), Minimization of functions having Lipschitz continuous first partial derivatives,
   https://doi.org/10.2140/pjm.1966.16.1
2. Wolfe (1969), Convergence conditions for ascent methods, https://doi.org/10.1137/1011036
3. Nocedal & Wright (2006), Numerical Optimization, chapter 3, https://doi.org/10.1007/978-0-387-40065-5
4. Moré & Thuente (1994), Line search algorithms with guaranteed sufficient decrease,
   https://doi.org/10.1145/192115.192132
5. Hager & Zhang (2005), A new conjugate gradient method with guaranteed descent and an efficient line search,
   https://doi.org/10.1137/030601880
"""

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np
from jaxtyping import Float

from mlpath.optim._shared import Gradient, Objective, checked_gradient

FOUND = "found: the step satisfies what was asked for"
NOT_FOUND = "stopped: max_trials trials did not find such a step"


@dataclass(frozen=True)
class Trial:
    """A step size, and the objective there.

    Attributes
    ----------
    step_size : float
        How far along the direction.
    value, slope : float
        The objective and its derivative along the direction; the slope is NaN if the value is not finite.
    gradient : ndarray
        The gradient there.
    """

    step_size: float
    value: float
    slope: float
    gradient: Float[np.ndarray, " dim"]


@dataclass(frozen=True)
class SearchResult:
    """How a line search ended.

    Attributes
    ----------
    step_size : float
        The step found. If none was, the best that satisfies (2) among those tried, or else 0.
    value : float
        The objective there.
    gradient : ndarray
        The gradient there.
    nfev, ngev : int
        Number of evaluations of the objective and of its gradient, by this search.
    success : bool
        Whether the step satisfies what was asked for.
    message : str
        `FOUND` or `NOT_FOUND`.
    """

    step_size: float
    value: float
    gradient: Float[np.ndarray, " dim"]
    nfev: int
    ngev: int
    success: bool
    message: str


class Ray:  # given: the objective along a direction
    """What a line search sees of an objective: a function of one number, with a count of its evaluations.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    x : ndarray
        Where to start from. It is not changed.
    direction : ndarray
        Where to go: a direction of descent.
    value : float, optional
        The objective at `x`, where it is known already.
    gradient : ndarray, optional
        The gradient at `x`, where it is known already.

    Attributes
    ----------
    start : Trial
        The step of size 0.
    nfev, ngev : int
        Number of evaluations so far, those at the start included unless they were handed over.

    Raises
    ------
    ValueError
        If `x` or `direction` is not a vector of finite numbers, they differ in length, the objective or the gradient at
        `x` is not finite, or `direction` does not lead downhill.

    Examples
    --------
    >>> ray = Ray(lambda x: x @ x, lambda x: 2 * x, np.array([3.0, 1.0]), np.array([-1.0, 0.0]))
    >>> print(ray.start.value, ray.start.slope, ray.at(2.0).value, ray.at(2.0).slope, ray.nfev)
    10.0 -6.0 2.0 -2.0 3
    """

    def __init__(
        self,
        fun: Objective,
        grad: Gradient,
        x: Float[np.ndarray, " dim"],
        direction: Float[np.ndarray, " dim"],
        *,
        value: float | None = None,
        gradient: Float[np.ndarray, " dim"] | None = None,
    ):
        self.x, self.direction = (_vector(v, name) for v, name in ((x, "x"), (direction, "direction")))
        if self.x.shape != self.direction.shape:
            raise ValueError(f"direction must have the shape of x, {self.x.shape}, got {self.direction.shape}")
        self.fun, self.grad, self.nfev, self.ngev = fun, checked_gradient(grad), 0, 0
        value = self.value(0.0) if value is None else float(value)
        gradient = self.gradient(0.0) if gradient is None else gradient
        if not isfinite(value):
            raise ValueError(f"fun must be finite at x, got {value}")
        self.start = Trial(0.0, value, float(gradient @ self.direction), gradient)
        if not -inf < self.start.slope < 0:
            raise ValueError(f"direction must lead downhill, got the slope {self.start.slope} along it")

    def value(self, step_size: float) -> float:
        """Return the objective after a step.

        Parameters
        ----------
        step_size : float
            How far along the direction.

        Returns
        -------
        float
            The objective, finite or not.
        """
        self.nfev += 1
        return float(self.fun(self.x + step_size * self.direction))

    def gradient(self, step_size: float) -> Float[np.ndarray, " dim"]:
        """Return the gradient after a step.

        Parameters
        ----------
        step_size : float
            How far along the direction.

        Returns
        -------
        ndarray
            The gradient, in the precision of `x`.
        """
        self.ngev += 1
        return self.grad(self.x + step_size * self.direction)

    def at(self, step_size: float) -> Trial:
        """Return the objective and its slope after a step.

        Parameters
        ----------
        step_size : float
            How far along the direction.

        Returns
        -------
        Trial
            Both; where the objective is not finite no gradient is taken, and it is NaN.
        """
        value = self.value(step_size)
        gradient = self.gradient(step_size) if isfinite(value) else np.full_like(self.x, nan)
        return Trial(step_size, value, float(gradient @ self.direction), gradient)

    def result(self, trial: Trial, success: bool) -> SearchResult:
        """Return how a search ended that ended with this trial.

        Parameters
        ----------
        trial : Trial
            The last trial, or the best.
        success : bool
            Whether it satisfies what was asked for.

        Returns
        -------
        SearchResult
            With the numbers of evaluations so far.
        """
        message = FOUND if success else NOT_FOUND
        return SearchResult(trial.step_size, trial.value, trial.gradient, self.nfev, self.ngev, success, message)


def sufficient_decrease(start: Trial, step_size: float, value: float, *, decrease: float) -> bool:
    """Return whether a step satisfies Armijo's condition, equation (2).

    Parameters
    ----------
    start : Trial
        The step of size 0.
    step_size, value : float
        A step, and the objective there.
    decrease : float
        The share $c_1$.

    Returns
    -------
    bool
        False also if the value is NaN or infinite, of whichever sign.

    Examples
    --------
    >>> start = Trial(0.0, 1.5, -4.0, np.array([-4.0]))
    >>> sufficient_decrease(start, 0.5, 1.2, decrease=0.1), sufficient_decrease(start, 0.5, 1.4, decrease=0.1)
    (True, False)
    """
    return isfinite(value) and value <= start.value + decrease * step_size * start.slope


def enough_curvature(start: Trial, trial: Trial, *, curvature: float, strong: bool = True) -> bool:
    """Return whether a step satisfies Wolfe's condition on the slope: equation (4) if it is the strong one, else (3).

    Parameters
    ----------
    start : Trial
        The step of size 0.
    trial : Trial
        The step in question.
    curvature : float
        The share $c_2$.
    strong : bool
        Whether steep slopes upwards are refused too.

    Returns
    -------
    bool
        False also if the slope is NaN.

    Examples
    --------
    >>> start, trial = (Trial(a, 0.0, slope, np.array([slope])) for a, slope in ((0.0, -4.0), (1.0, 3.0)))
    >>> enough_curvature(start, trial, curvature=0.5, strong=False), enough_curvature(start, trial, curvature=0.5)
    (True, False)
    """
    if strong:
        return abs(trial.slope) <= curvature * abs(start.slope)
    return trial.slope >= curvature * start.slope


def cubic_minimizer(first: Trial, second: Trial) -> float:
    """Return the step size at which the cubic through two trials is least, by equations (7) to (10).

    The cubic has the values and the slopes of both trials, which come in any order. Its minimum may lie outside of
    them. It is accurate too where the cubic is a parabola, or nearly one, and for values of any representable size.

    Parameters
    ----------
    first, second : Trial
        Two trials of different step sizes.

    Returns
    -------
    float
        Where the cubic has its minimum; NaN if it has none, or if a value or slope is not finite.

    Examples
    --------
    >>> first, second = (Trial(a, a**3 - 2 * a, 3 * a**2 - 2, np.ones(1)) for a in (0.0, 1.0))
    >>> print(f"{cubic_minimizer(first, second):.4f}")
    0.8165
    """
    width = second.step_size - first.step_size
    s0, s1 = width * first.slope, width * second.slope
    m = 3 * (second.value - first.value) - s0 - s1
    scale = max(abs(s0), abs(s1), abs(m))
    if not 0 < scale < inf:
        return nan
    s0, s1, m = s0 / scale, s1 / scale, m / scale  # their squares neither over- nor underflow
    below = m * m - s0 * s1
    if below <= 0:
        return nan
    u, r = s0 - m, sqrt(below)
    over, under = (s0, u - r) if u < 0 else (u + r, u - m + s1)  # the form of the root that subtracts nothing
    return first.step_size + width * over / under if under != 0 else nan


def interpolate(low: Trial, high: Trial) -> float:  # given: the cubic, made safe
    """Return a step size between two trials: where the cubic through them is least, or else the middle.

    The middle is taken if the cubic has no minimum, or if it comes nearer to one of the trials than a tenth of their
    distance: the interval must shrink.

    Parameters
    ----------
    low, high : Trial
        The ends of the interval, in any order.

    Returns
    -------
    float
        A step size strictly between them, if there is a number between them.

    Examples
    --------
    >>> low, high = (Trial(a, (a - 1.5) ** 2, 2 * a - 3, np.ones(1)) for a in (1.0, 3.0))
    >>> interpolate(low, high)
    1.5
    """
    least, greatest = sorted((low.step_size, high.step_size))
    edge = (greatest - least) / 10
    step_size = cubic_minimizer(low, high)
    return step_size if least + edge <= step_size <= greatest - edge else least + (greatest - least) / 2


def armijo_search(ray: Ray, *, step_size: float = 1.0, decrease: float = 1e-4, max_trials: int = 60) -> SearchResult:
    """Shorten a step until it satisfies Armijo's condition (2).

    After a trial that fails comes the step size of (6), but at least a tenth and at most a half of the trial; a half if
    the objective is not finite there.

    Parameters
    ----------
    ray : Ray
        The objective along the direction.
    step_size : float
        The first trial.
    decrease : float
        The share $c_1$ in (2), strictly between 0 and 1.
    max_trials : int
        After so many trials the search gives up.

    Returns
    -------
    SearchResult
        The first trial that satisfies (2). The gradient is taken there and nowhere else. If there is none, the start.

    Raises
    ------
    ValueError
        If `step_size` is not positive and finite, `decrease` not strictly between 0 and 1, or `max_trials` below 1.

    Examples
    --------
    >>> ray = Ray(lambda x: x[0] ** 2 / 2, lambda x: x, np.array([3.0]), np.array([-12.0]))
    >>> result = armijo_search(ray)
    >>> print(result.step_size, result.value, result.nfev, result.ngev)
    0.25 0.0 3 2
    """
    # given: the checks
    _check(step_size, max_trials, decrease)
    # yours
    start = ray.start
    for _ in range(max_trials):
        value = ray.value(step_size)
        if sufficient_decrease(start, step_size, value, decrease=decrease):
            return ray.result(Trial(step_size, value, nan, ray.gradient(step_size)), True)
        shorter = step_size / 2
        if isfinite(value):
            lost = value - start.value - start.slope * step_size
            shorter = min(max(-start.slope * step_size / (2 * lost) * step_size, step_size / 10), shorter)
        step_size = shorter
    return ray.result(start, False)


def wolfe_search(
    ray: Ray, *, step_size: float = 1.0, decrease: float = 1e-4, curvature: float = 0.9, max_trials: int = 60
) -> SearchResult:
    """Double and halve a step until it satisfies both conditions of Wolfe, (2) and (3).

    A step that fails (2) is too long; one that satisfies (2) and fails (3) is too short. As long as none was too long,
    the next trial is twice the last. From then on it is the middle between the longest that was too short (0 if none was)
    and the shortest that was too long.

    Parameters
    ----------
    ray : Ray
        The objective along the direction.
    step_size : float
        The first trial.
    decrease, curvature : float
        The shares $c_1$ in (2) and $c_2$ in (3), $0 < c_1 < c_2 < 1$.
    max_trials : int
        After so many trials the search gives up.

    Returns
    -------
    SearchResult
        The first trial that satisfies both. If there is none, the last that satisfied (2), or else the start.

    Raises
    ------
    ValueError
        If `step_size` is not positive and finite, `decrease` and `curvature` are not in that order strictly between 0
        and 1, or `max_trials` is below 1.

    Examples
    --------
    >>> ray = Ray(lambda x: x[0] ** 2 / 2, lambda x: x, np.array([3.0]), np.array([-0.1]))
    >>> result = wolfe_search(ray)
    >>> print(result.step_size, f"{result.value:.3f}", result.nfev, result.success)
    4.0 3.380 4 True
    """
    # given: the checks
    _check(step_size, max_trials, decrease, curvature)
    # yours
    low, high = ray.start, inf
    for _ in range(max_trials):
        trial = ray.at(step_size)
        if not sufficient_decrease(ray.start, step_size, trial.value, decrease=decrease):
            high = step_size
        elif not enough_curvature(ray.start, trial, curvature=curvature, strong=False):
            low = trial
        else:
            return ray.result(trial, True)
        step_size = 2 * step_size if high == inf else low.step_size + (high - low.step_size) / 2
    return ray.result(low, False)


def zoom(
    ray: Ray, low: Trial, high: Trial, *, decrease: float = 1e-4, curvature: float = 0.9, max_trials: int = 30
) -> tuple[Trial, bool]:
    """Narrow an interval until a trial within satisfies (2) and (4).

    Parameters
    ----------
    ray : Ray
        The objective along the direction.
    low, high : Trial
        The ends of the interval, as in the last section of the note: `low` satisfies (2), its slope leads towards
        `high`, and `high` fails (2), or is not below `low`, or its slope leads back. `high` may be the shorter step.
    decrease, curvature : float
        The shares $c_1$ and $c_2$.
    max_trials : int
        After so many trials the search gives up.

    Returns
    -------
    trial : Trial
        The first trial, each by `interpolate`, that satisfies (2) and (4); if there is none, the low end of what is left.
    success : bool
        Whether it satisfies them.

    Examples
    --------
    >>> ray = Ray(lambda x: x[0] ** 4 - 4 * x[0], lambda x: 4 * x**3 - 4, np.zeros(1), np.ones(1))
    >>> trial, success = zoom(ray, ray.start, ray.at(3.0), curvature=0.1)
    >>> print(f"{trial.step_size:.3f} {trial.slope:.3f}", success)
    0.973 -0.316 True
    """
    for _ in range(max_trials):
        step_size = interpolate(low, high)
        trial = ray.at(step_size)
        if not sufficient_decrease(ray.start, step_size, trial.value, decrease=decrease) or trial.value >= low.value:
            high = trial
        elif enough_curvature(ray.start, trial, curvature=curvature):
            return trial, True
        else:
            if trial.slope * (high.step_size - low.step_size) >= 0:
                high = low
            low = trial
    return low, False


def strong_wolfe_search(
    ray: Ray, *, step_size: float = 1.0, decrease: float = 1e-4, curvature: float = 0.9, max_trials: int = 30
) -> SearchResult:
    """Find a step that satisfies the strong conditions of Wolfe, (2) and (4).

    The trials are `step_size`, twice that, and so on, until one satisfies both conditions or is, with the one before it
    (at first the start), an interval to zoom into.

    Parameters
    ----------
    ray : Ray
        The objective along the direction.
    step_size : float
        The first trial.
    decrease, curvature : float
        The shares $c_1$ in (2) and $c_2$ in (4), $0 < c_1 < c_2 < 1$.
    max_trials : int
        After so many trials the doubling gives up, and after so many more the zoom.

    Returns
    -------
    SearchResult
        The first trial that satisfies both. If there is none (the objective may be unbounded below), the best that was
        found.

    Raises
    ------
    ValueError
        If `step_size` is not positive and finite, `decrease` and `curvature` are not in that order strictly between 0
        and 1, or `max_trials` is below 1.

    Examples
    --------
    >>> ray = Ray(lambda x: x[0] ** 4 - 4 * x[0], lambda x: 4 * x**3 - 4, np.zeros(1), np.ones(1))
    >>> result = strong_wolfe_search(ray, step_size=0.3, curvature=0.1)
    >>> print(f"{result.step_size:.3f} {result.gradient[0]:.3f}", result.nfev, result.success)
    0.997 -0.031 5 True
    """
    # given: the checks
    _check(step_size, max_trials, decrease, curvature)
    # yours
    options = {"decrease": decrease, "curvature": curvature, "max_trials": max_trials}
    previous = ray.start
    for _ in range(max_trials):
        trial = ray.at(step_size)
        fell = sufficient_decrease(ray.start, step_size, trial.value, decrease=decrease)
        if not fell or trial.value >= previous.value:
            return ray.result(*zoom(ray, previous, trial, **options))
        if enough_curvature(ray.start, trial, curvature=curvature):
            return ray.result(trial, True)
        if trial.slope >= 0:
            return ray.result(*zoom(ray, trial, previous, **options))
        previous, step_size = trial, 2 * step_size
    return ray.result(previous, False)


def _vector(values: Float[np.ndarray, " dim"], name: str) -> Float[np.ndarray, " dim"]:  # given: argument checks
    """Return a vector of floats, or raise a ValueError that says what is wrong with it."""
    vector = np.asarray(values)
    if vector.ndim != 1 or vector.size == 0 or vector.dtype.kind not in "fiu" or not np.isfinite(vector).all():
        raise ValueError(f"{name} must be a vector of finite numbers, got {values!r}")
    return vector if vector.dtype.kind == "f" else vector.astype(np.float64)


def _check(
    step_size: float, max_trials: int, decrease: float, curvature: float | None = None
) -> None:  # given: argument checks
    """Raise a ValueError unless a search can work with these."""
    if not 0 < step_size < inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not max_trials >= 1:
        raise ValueError(f"max_trials must be at least 1, got {max_trials}")
    if curvature is not None and not 0 < curvature < 1:
        raise ValueError(f"curvature must lie between 0 and 1, got {curvature}")
    above = 1 if curvature is None else curvature
    if not 0 < decrease < above:
        raise ValueError(f"decrease must lie between 0 and {above}, got {decrease}")
