r"""Finite differences: the slope of a function that you can only evaluate.

## Idea

You have code for $f(x)$ and none for $f'(x)$. Evaluate $f$ at two points close together and divide the rise by the run:
that is a derivative to some digits, and a check of any derivative that you worked out by hand. How close is close? Too
far apart, and the curve bends between the points; too close, and the difference of two nearly equal numbers is all
rounding. This exercise measures both errors, finds the step between them, and then gets round the trade-off in two
ways: by combining several steps, and by stepping off the real line.

## Maths

**Two points.** Taylor's theorem, with some $\xi$ between $x$ and $x + h$, reads

$$f(x + h) = f(x) + h f'(x) + \tfrac{1}{2} h^2 f''(\xi). \tag{1}$$

Solve it for $f'(x)$: the *forward difference* has an error of order $h$,

$$\frac{f(x + h) - f(x)}{h} = f'(x) + \tfrac{1}{2} h\, f''(\xi). \tag{2}$$

Write (1) one term further, for $h$ and for $-h$, and subtract. All even powers of $h$ drop out, and the *central
difference* has an error of order $h^2$, which is the reason to prefer it:

$$\frac{f(x + h) - f(x - h)}{2h} = f'(x) + \tfrac{1}{6} h^2 f'''(\xi). \tag{3}$$

*The run that was made.* A computer rounds $x + h$ to the nearest number that it has. At $x = 10^6$ these are $10^{-10}$
apart, so a step of $h = 10^{-9}$ may come out 5 % longer or shorter than asked for. The rise belongs to the step that
was *made*, which is the difference of the two points as they are stored; it is exact, as subtracting neighbours never
rounds.

**Two errors.** What (2) and (3) leave out is the *truncation error*: at most $C h^p$, with $p = 1$ and
$C = \tfrac{1}{2} \max |f''|$ for (2), $p = 2$ and $C = \tfrac{1}{6} \max |f'''|$ for (3). Besides, the computed values
of $f$ are a little off. If the difference of two of them, over what divides $h$, is wrong by at most $\delta$ (some
$2 \cdot 10^{-16}\, |f|$ if $f$ is computed with care), then the quotient is wrong by at most $\delta / h$. Together

$$E(h) = C h^p + \frac{\delta}{h}. \tag{4}$$

The first term falls as $h$ shrinks, the second one rises. $E$ is least where $E'(h) = 0$:

$$p\, C h^{p - 1} = \frac{\delta}{h^2} \quad\Longrightarrow\quad h^* = \Big( \frac{\delta}{p\, C} \Big)^{1 / (p + 1)}. \tag{5}$$

For $C$ near 1 and $\delta$ near $10^{-16}$ that means $h^* \approx 10^{-8}$ and 8 correct digits for the forward
difference, $h^* \approx 10^{-5}$ and 10 to 11 digits for the central one. No step gives all 16.

**Off the real line.** If $f$ is made of analytic functions, it may be evaluated at complex numbers. Take a step of
length $h$ along the imaginary axis, and sort Taylor's series into real and imaginary parts:

$$f(x + i h) = \Big( f(x) - \tfrac{1}{2} h^2 f''(x) + \dots \Big) + i \Big( h f'(x) - \tfrac{1}{6} h^3 f'''(x) + \dots \Big). \tag{6}$$

The imaginary part holds the derivative and nothing that has to be subtracted. There is no second term in (4), hence no
reason to make $h$ moderate: take it so small that $h^2$ vanishes beside 1, and every digit is right [1, 2].

**Several steps.** By symmetry the error of the central difference $D(h)$ has even powers only:

$$D(h) = f'(x) + c_1 h^2 + c_2 h^4 + c_3 h^6 + \dots \tag{7}$$

We do not know $c_1$, but the same $c_1$ stands in $D(h/2)$, multiplied by a quarter of $h^2$. So a mixture of the two
gets rid of it. What remains has an $h^4$ in front, and two such mixtures get rid of that in turn. This is *Richardson's
extrapolation* [3]. With $T_{i,0} = D(h / 2^i)$ for $i = 0, 1, \dots$ the mixtures are

$$T_{i,j} = T_{i,j-1} + \frac{T_{i,j-1} - T_{i-1,j-1}}{4^j - 1}, \qquad 1 \le j \le i. \tag{8}$$

Each step to the right gains two orders: $T_{i,j}$ has an error of order $h^{2j + 2}$. The last number $T_{m,m}$ is the
best, and its distance to $T_{m,m-1}$, the one before it in the last row, is an estimate of the error of the latter: a
cautious one of its own.

## Worked example

$f(x) = x^3$ at $x = 2$, where $f'(2) = 12$, with $h = 0.1$. Forward: $(9.261 - 8) / 0.1 = 12.61$. Central:
$(9.261 - 6.859) / 0.2 = 12.01$; the error $0.01$ is $h^2 f''' / 6 = 0.01 \cdot 6 / 6$, as (3) says. With $h = 0.05$ the
central difference is $12.0025$. Richardson: $12.0025 + (12.0025 - 12.01) / 3 = 12$, exact, since a cubic has no $h^4$
term.

Complex: $(2 + i h)^3 = 8 + 12 i h - 6 h^2 - i h^3$, so the imaginary part over $h$ is $12 - h^2$.

With $\delta = 10^{-15}$, the best forward step has $C = f''/2 = 6$ and is $(10^{-15} / 6)^{1/2} = 1.3 \cdot 10^{-8}$;
by (4) its error is $2 \cdot 6 \cdot 1.3 \cdot 10^{-8} = 1.5 \cdot 10^{-7}$. The best central one, with $C = 1$, is
$(10^{-15} / 2)^{1/3} = 7.9 \cdot 10^{-6}$, with an error of $1.9 \cdot 10^{-10}$.

## Plan

All functions take $f$ as a function of an array that acts on each entry by itself, and many points $x$ at once.

| part | takes | returns | by |
|---|---|---|---|
| `forward_difference` | $f$, points, a step | the slopes | (2) |
| `central_difference` | $f$, points, a step | the slopes | (3) |
| `error_bound` | steps, $p$, $C$, $\delta$ | the two errors together | (4) |
| `optimal_step` | $p$, $C$, $\delta$ | the best step | (5) |
| `complex_step` | an analytic $f$, points, a step | the slopes, to all digits | (6) |
| `richardson` | $f$, points, a first step, how many steps | the slopes, and an estimate of their errors | (8) |

## Pitfalls

- All is well near 0 and the slopes are some per cent off at $x = 10^6$.
- A smaller step makes it worse.
- `complex_step` gives 0: somewhere in $f$ stands `abs`, `np.maximum` or a comparison, which are no analytic functions.
- Extrapolation makes a function with a kink, or noisy values, worse and not better.
- A bound like (4) with $C$ taken at $x$ itself fails where $f''$ is 0 there.

## Cost

Evaluations of $f$ at each point: 2 for forward and for central differences, 1 in complex arithmetic (about 3 real ones)
for the complex step, $2 (m + 1)$ for $m$ halvings.

## Go further

Experiment: draw the error of the three methods for $f = \exp$ against $h$ from $10^{-18}$ to 1, both axes logarithmic.
Find the slopes 1, 2 and -1 of (4) in it. A stretch goal: how large is $\delta$ for a function that you did not write?
[4] estimates it from a table of differences.

## References

1. Squire & Trapp (1998), Using complex variables to estimate derivatives of real functions,
   https://doi.org/10.1137/S003614459631241X
2. Martins, Sturdza & Alonso (2003), The complex-step derivative approximation, https://doi.org/10.1145/838250.838251
3. Richardson (1911), The approximate arithmetical solution by finite differences,
   https://doi.org/10.1098/rsta.1911.0009
4. Moré & Wild (2011), Estimating computational noise, https://doi.org/10.1137/100786125
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, " n_points"]
Function = Callable[[np.ndarray], np.ndarray]


def _vector(values: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return the values as a vector of floats, or raise a ValueError that says what is wrong with them."""
    values = np.asarray(values)
    if values.dtype.kind not in "fiu" or values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"{name} must be a vector of real, finite numbers, got {values!r}")
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _check_step(step: float) -> None:  # given: argument checks
    if not 0 < step < np.inf:
        raise ValueError(f"step must be positive and finite, got {step}")


def _check_that_x_moves(x: np.ndarray, step: float) -> None:  # given: argument checks
    _check_step(step)
    if (x + step == x).any() or (x - step == x).any():
        raise ValueError(f"step must be large enough to change every x, got {step} for x = {x[np.abs(x).argmax()]}")


@dataclass(frozen=True)
class Extrapolation:
    r"""What Richardson's extrapolation ends with.

    Attributes
    ----------
    derivative : ndarray
        $T_{m,m}$ of equation (8), for each point.
    error : ndarray
        $|T_{m,m} - T_{m,m-1}|$, the estimate of its error.
    """

    derivative: Points
    error: Points


def forward_difference(f: Function, x: Points, step: float) -> Points:
    """Return the slopes of a function by the forward difference, equation (2).

    The rise is divided by the step that was made, which is not quite `step` where adding it to `x` rounds.

    Parameters
    ----------
    f : callable
        Takes an array and returns one of the same shape, entry by entry.
    x : ndarray
        The points, in whatever unit `f` takes.
    step : float
        The step $h$, positive, in the unit of `x`.

    Returns
    -------
    ndarray
        The slope at each point. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, or `step` is not positive or too small to change `x`.

    Examples
    --------
    >>> forward_difference(lambda x: x**3, np.array([2.0]), step=0.1).round(4)
    array([12.61])
    """
    # given: the checks
    x = _vector(x, "x")
    _check_that_x_moves(x, step)
    # yours
    right = x + step
    return (f(right) - f(x)) / (right - x)


def central_difference(f: Function, x: Points, step: float) -> Points:
    """Return the slopes of a function by the central difference, equation (3).

    The rise is divided by the distance between the two points as they are stored.

    Parameters
    ----------
    f : callable
        Takes an array and returns one of the same shape, entry by entry.
    x : ndarray
        The points.
    step : float
        The step $h$, positive: from each point as far to the left as to the right.

    Returns
    -------
    ndarray
        The slope at each point. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, or `step` is not positive or too small to change `x`.

    Examples
    --------
    >>> central_difference(lambda x: x**3, np.array([2.0]), step=0.1).round(4)
    array([12.01])
    """
    # given: the checks
    x = _vector(x, "x")
    _check_that_x_moves(x, step)
    # yours
    left, right = x - step, x + step
    return (f(right) - f(left)) / (right - left)


def error_bound(
    step: Float[np.ndarray, " n_steps"], order: int, constant: float, noise: float
) -> Float[np.ndarray, " n_steps"]:
    r"""Return how wrong a difference quotient can be, equation (4): truncation and rounding together.

    Parameters
    ----------
    step : ndarray
        The steps $h$, positive.
    order : int
        The order $p$ of the truncation error: 1 for forward, 2 for central differences.
    constant : float
        The factor $C$ of the truncation error, positive.
    noise : float
        The error $\delta$ of a difference of function values, not negative.

    Returns
    -------
    ndarray
        $E(h)$ for each step.

    Raises
    ------
    ValueError
        If a step, `order` or `constant` is not positive, or `noise` is negative.

    Examples
    --------
    >>> error_bound(np.array([0.1, 0.001]), order=1, constant=6.0, noise=0.002)
    array([0.62 , 2.006])
    """
    # given: the checks
    step = _vector(step, "step")
    if not (step > 0).all():
        raise ValueError(f"step must be positive, got {step}")
    if not (order >= 1 and 0 < constant < np.inf and 0 <= noise < np.inf):
        raise ValueError(
            f"order and constant must be positive and noise not negative, got order={order}, constant={constant}, "
            f"noise={noise}"
        )
    # yours
    return constant * step**order + noise / step


def optimal_step(order: int, constant: float, noise: float) -> float:
    r"""Return the step for which equation (4) is least, by equation (5).

    Parameters
    ----------
    order : int
        The order $p$ of the truncation error: 1 for forward, 2 for central differences.
    constant : float
        The factor $C$ of the truncation error, positive.
    noise : float
        The error $\delta$ of a difference of function values, positive.

    Returns
    -------
    float
        $h^*$.

    Raises
    ------
    ValueError
        If one of the three is not positive.

    Examples
    --------
    >>> print(f"{optimal_step(order=2, constant=1.0, noise=1e-15):.2g}")
    7.9e-06
    """
    # given: the check
    if not (order >= 1 and 0 < constant < np.inf and 0 < noise < np.inf):
        raise ValueError(
            f"order, constant and noise must be positive, got order={order}, constant={constant}, noise={noise}"
        )
    # yours
    return (noise / (order * constant)) ** (1 / (order + 1))


def complex_step(f: Function, x: Points, step: float = 1e-20) -> Points:
    """Return the slopes of an analytic function by a step along the imaginary axis, from equation (6).

    With a step whose square vanishes beside 1 they are right to nearly all digits of `f` itself.

    Parameters
    ----------
    f : callable
        Takes an array of complex numbers and returns one of the same shape, entry by entry; made of analytic functions.
    x : ndarray
        The points, real.
    step : float
        The step $h$, positive.

    Returns
    -------
    ndarray
        The slope at each point, real. Single precision if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, or `step` is not positive.

    Examples
    --------
    >>> complex_step(np.exp, np.array([0.0, 1.0])).round(4)
    array([1.    , 2.7183])
    """
    # given: the checks
    x = _vector(x, "x")
    _check_step(step)
    # yours
    return np.imag(f(x + 1j * step)) / step


def richardson(f: Function, x: Points, step: float, n_halvings: int) -> Extrapolation:
    """Extrapolate central differences of halved steps to a step of zero, equation (8).

    Parameters
    ----------
    f : callable
        Takes an array and returns one of the same shape, entry by entry.
    x : ndarray
        The points.
    step : float
        The largest step $h$, positive.
    n_halvings : int
        How often it is halved, at least once: $m$ of equation (8), so that there are $m + 1$ steps.

    Returns
    -------
    Extrapolation
        The slope at each point and an estimate of its error.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, `step` is not positive, `n_halvings` is below 1, or the last step is
        too small to change `x`.

    Examples
    --------
    >>> found = richardson(np.exp, np.array([1.0]), step=0.5, n_halvings=3)
    >>> print(found.derivative.round(4), f"{abs(found.derivative[0] - np.e):.0e}")
    [2.7183] 7e-12
    """
    # given: the checks
    x = _vector(x, "x")
    _check_step(step)
    if n_halvings < 1:
        raise ValueError(f"n_halvings must be at least 1, got {n_halvings}")
    _check_that_x_moves(x, step / 2**n_halvings)
    # yours
    row = [central_difference(f, x, step)]
    for i in range(1, n_halvings + 1):
        above, row = row, [central_difference(f, x, step / 2**i)]
        for j in range(1, i + 1):
            row.append(row[j - 1] + (row[j - 1] - above[j - 1]) / (4**j - 1))
    return Extrapolation(derivative=row[-1], error=np.abs(row[-1] - row[-2]))
