r"""Convergence: measure how fast an optimiser gets there, and compare several fairly.

## Idea

'It converges' says little. Halving the error at each step gives a digit every three steps; squaring it doubles the
digits in one. To learn which of the two you have, you need a number measured from the iterates, not a look at a falling
curve. The trick is to choose paper on which the law is a straight line, and to measure its slope. And to say which of
two optimisers is better you need many problems, one currency (evaluations, which do not depend on the machine), one
goal for all, which none of them chooses itself, and a picture that a single huge number cannot dominate.

## Maths

**Errors.** Let $x_0, x_1, \dots$ be the points of a walk and $x^\star$ the minimum. The error after $k$ steps is

$$e_k = \|x_k - x^\star\|_2 . \tag{1}$$

It need not fall at every step: momentum overshoots. So the number of steps to a target $\varepsilon$ is the first
after which the error *stays* below:

$$K(\varepsilon) = \min \{ k : e_j \le \varepsilon \text{ for all } j \ge k \} . \tag{2}$$

**Linear convergence.** If each step leaves a share $\rho < 1$ of the error, $e_k \approx C \rho^k$ and
$\ln e_k \approx \ln C + k \ln \rho$: a line on paper with a logarithmic error axis. Its slope by least squares,

$$\ln \rho = \frac{\sum_k (k - \bar k)\, \ln e_k}{\sum_k (k - \bar k)^2} , \tag{3}$$

uses all errors, so that swings about the line hardly matter. It takes $\ln(1/\varepsilon) / \ln(1/\rho)$ steps to
reduce the error by $\varepsilon$. On a quadratic of condition number $\kappa$ the best fixed step has
$\rho = (\kappa - 1)/(\kappa + 1)$, so some $\tfrac12 \kappa \ln(1/\varepsilon)$ steps. The best momentum has
$\rho = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$, and needs $\tfrac12 \sqrt\kappa \ln(1/\varepsilon)$.

**Powers.** Without strong convexity the error may fall as $C k^{-p}$ only, *sublinearly*: each digit takes longer than
the one before. And the step counts above grow as powers of $\kappa$. If $y = C s^p$, then $\ln y = \ln C + p \ln s$:
a line on paper with two logarithmic axes, whose slope is the exponent

$$p = \frac{\sum_i (\ln s_i - \overline{\ln s})\, \ln y_i}{\sum_i (\ln s_i - \overline{\ln s})^2} . \tag{4}$$

**Order.** Near a minimum, Newton's error squares. In general

$$e_{k+1} \approx c\, e_k^{\,q}, \qquad \ln e_{k+1} \approx \ln c + q \ln e_k , \tag{5}$$

with the *order* $q$ and the constant $c$: $q = 1$ with $c = \rho < 1$ is linear convergence, $q = 2$ is quadratic, and in
between, or for $q = 1$ with quotients that fall to 0, it is superlinear. Slope and height of the line through the points
$(\ln e_k, \ln e_{k+1})$ give both. If the errors are measured in another unit, so that all are multiplied by $u$, then
$q$ stays and $c$ becomes $c\, u^{1 - q}$.

**Without the minimum.** In practice $x^\star$ is not known. But a linear walk tells how far it has still to go. With
the last two steps $s' = \|x_{n-1} - x_{n-2}\|$ and $s = \|x_n - x_{n-1}\|$, their quotient estimates $\rho$, and if all
further steps shrink by it in one direction, they sum to

$$\hat e_n = s\, (\hat\rho + \hat\rho^2 + \dots) = \frac{s\, \hat\rho}{1 - \hat\rho}, \qquad \hat\rho = \frac{s}{s'} . \tag{6}$$

At $\hat\rho = 0.99$ that is 99 steps' length: a small step does not mean a small error.

**A fair race.** A solver is a function of an objective, a gradient and a start. Where each one stops is its own affair;
so judge all by the same goal. It is reached at the first *evaluation*, of objective or gradient, at a point with

$$f(x) \le f^\star + \tau\, (f(x_0) - f^\star) \tag{7}$$

[1], where $f^\star$ is the value at the known minimum and $\tau$, say $10^{-6}$, the share of the first excess that may
be left. The number of that evaluation, counted from 1, is the cost; it is infinite if the goal is never reached.

**Performance profile** [2]. Let $t_{ps}$ be the cost of solver $s$ on problem $p$. Divided by the least cost of any
solver on that problem it says how many times more the solver needed than the best, and

$$\rho_s(r) = \frac1{n_p} \#\{ p : t_{ps} < \infty,\ t_{ps} \le r \min_{s'} t_{ps'} \} \tag{8}$$

is the share of problems that it solved within $r$ times the best. At $r = 1$ it is the share of wins, for large $r$ the
share of problems solved at all. One problem of a million evaluations weighs no more than one of ten.

## Worked example

Errors $0.5,\ 0.1,\ 0.004,\ 6.4 \cdot 10^{-6}$. Each is $0.4$ times the square of the one before: $0.4 \cdot 0.25 = 0.1$,
$0.4 \cdot 0.01 = 0.004$, $0.4 \cdot 1.6 \cdot 10^{-5} = 6.4 \cdot 10^{-6}$. So $q = 2$ and $c = 0.4$. In millimetres
instead of metres, $u = 1000$, $q = 2$ still, but $c = 0.0004$.

A walk on a line through $0, 4, 7, \dots$: the last two steps are $4$ and $3$, so $\hat\rho = 0.75$ and
$\hat e = 3 \cdot 0.75 / 0.25 = 9$. Indeed $4 + 3 + 2.25 + \dots = 16$, and $16 - 7 = 9$.

Two solvers on three problems, costs $(10, 30)$, $(40, 20)$, $(\infty, 50)$. Ratios to the best: $(1, 3)$, $(2, 1)$,
$(\infty, 1)$. At $r = 1$ the profiles are $1/3$ and $2/3$; at $r = 2$, $2/3$ and $2/3$; from $r = 3$ on $2/3$ and $1$.

## Plan

- `errors` takes a path and the minimum, and returns (1).
- `steps_to` takes values and a target, and returns (2), or nothing if there is no such step.
- `linear_rate` returns $\rho$ of (3), `exponent` the $p$ of (4), `order` the pair $(q, c)$ of (5).
- `remaining_error` takes a path and returns (6).
- `evaluations_to` runs one solver on one problem and returns the cost by (7). `compare` (given) does it for all.
- `performance_profile` takes a table of costs and returns (8).

## Pitfalls

- The rate comes out nearer 1 than theory says: the errors go on after rounding had stopped them. Measure before that.
- The rate is too good: the first steps, which kill the easy directions, were counted in.
- The number of steps to a target is that of a lucky moment, at which a swinging path crossed the minimum.
- An order between 1 and 2, or none that makes sense, from three errors of which the last is rounding.
- The optimiser 'has converged' as its steps are small, and is far from the minimum.
- One solver stops at a loose tolerance of its own, and wins.
- A solver that never solves a problem is counted as if it had tied on it.

## Cost

All of it is nothing beside the runs that are measured. A race evaluates the objective once more for each evaluation, to
judge it, outside the count.

## Go further

- *Experiment*: draw the profile for $\tau = 10^{-2}$ and for $10^{-10}$. Which solvers change places, and why?
- *Stretch*: Aitken's $\Delta^2$ applies the idea of (6) to whole vectors to jump to the limit. Accelerate gradient
  descent by it, and compare with momentum.

## References

1. Moré & Wild (2009), Benchmarking derivative-free optimization algorithms, https://doi.org/10.1137/080724083
2. Dolan & Moré (2002), Benchmarking optimization software with performance profiles,
   https://doi.org/10.1007/s101070100263
3. Nocedal & Wright (2006), Numerical Optimization, appendix A.2 on rates, https://doi.org/10.1007/978-0-387-40065-5
"""

# 8 parts to write. Test them with: pytest exercises/optim/convergence.py

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.optim._shared import Gradient, Objective, Problem, Vector, beale, himmelblau, quadratic, rosenbrock

Solver = Callable[[Objective, Gradient, Vector], object]


@dataclass(frozen=True)
class Comparison:
    """What each solver needed for each problem.

    Attributes
    ----------
    problems, solvers : tuple of str
        The names, in the order of rows and columns.
    costs : ndarray
        Evaluations until the goal; infinite where it was not reached.
    """

    problems: tuple[str, ...]
    solvers: tuple[str, ...]
    costs: Float[np.ndarray, "n_problems n_solvers"]


def errors(
    path: Float[np.ndarray, "n_points dim"], minimum: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, " n_points"]:
    """Return how far each point of a walk is from the minimum, equation (1).

    Parameters
    ----------
    path : ndarray
        The points, one a row.
    minimum : ndarray
        Where the objective is least.

    Returns
    -------
    ndarray
        One distance a point. Squares that are too large or too small for a float do no harm.

    Raises
    ------
    ValueError
        If `path` has no points, a value is not finite, or `minimum` has not one entry for each column.

    Examples
    --------
    >>> errors(np.array([[4.0, 6.0], [1.0, 3.0]]), np.array([1.0, 2.0]))
    array([5., 1.])
    """
    # given: the checks
    _check_path(path, 1)
    if np.shape(minimum) != path.shape[1:] or not np.isfinite(minimum).all():
        raise ValueError(f"minimum must be {path.shape[1]} finite numbers, got {minimum}")
    raise NotImplementedError("not written yet: errors")


def steps_to(values: Float[np.ndarray, " n_points"], target: float) -> int | None:
    """Return after how many steps the values stay at or below a target for good, equation (2).

    Parameters
    ----------
    values : ndarray
        One number a point of the walk, from the start on: errors, say.
    target : float
        The target.

    Returns
    -------
    int or None
        The index of the first value from which on none exceeds the target; None if the last one does. A value that is
        NaN exceeds every target.

    Raises
    ------
    ValueError
        If `values` is empty or `target` is NaN.

    Examples
    --------
    >>> steps_to(np.array([9.0, 0.5, 2.0, 0.7, 0.1]), 1.0)
    3
    """
    # given: the checks
    if len(values) == 0:
        raise ValueError("values must have at least one entry, got none")
    if np.isnan(target):
        raise ValueError(f"target must be a number, got {target}")
    raise NotImplementedError("not written yet: steps_to")


def linear_rate(errors: Float[np.ndarray, " n_points"]) -> float:
    r"""Return the share of the error that a step leaves, by the line of least squares, equation (3).

    Parameters
    ----------
    errors : ndarray
        Errors after steps in a row, at least two.

    Returns
    -------
    float
        The rate $\rho$; above 1 if the errors grow.

    Raises
    ------
    ValueError
        If `errors` has fewer than two entries, or one that is not positive and finite.

    Examples
    --------
    >>> round(linear_rate(np.array([8.0, 4.4, 1.8, 1.0])), 4)
    0.4901
    """
    # given: the check
    _check_positive(errors, "errors", 2)
    raise NotImplementedError("not written yet: linear_rate")


def exponent(scales: Float[np.ndarray, " n_scales"], values: Float[np.ndarray, " n_scales"]) -> float:
    """Return the power of a scale that values grow with, equation (4).

    Parameters
    ----------
    scales : ndarray
        Positive numbers, at least two, not all the same: condition numbers, say, or numbers of steps.
    values : ndarray
        What belongs to each: steps needed, say, or errors.

    Returns
    -------
    float
        The exponent $p$; negative if the values fall.

    Raises
    ------
    ValueError
        If one of them has fewer than two entries, or one that is not positive and finite, if they have not equally
        many, or if `scales` are all the same.

    Examples
    --------
    >>> round(exponent(np.array([10.0, 100.0, 1000.0]), np.array([5.0, 52.0, 480.0])), 4)
    0.9911
    """
    # given: the checks
    _check_positive(scales, "scales", 2)
    _check_positive(values, "values", 2)
    if len(scales) != len(values):
        raise ValueError(f"scales and values must be equally many, got {len(scales)} and {len(values)}")
    _check_spread(scales, "scales")
    raise NotImplementedError("not written yet: exponent")


def order(errors: Float[np.ndarray, " n_points"]) -> tuple[float, float]:
    """Return the order of convergence and its constant, by the line of least squares, equation (5).

    Parameters
    ----------
    errors : ndarray
        Errors after steps in a row, at least three; all but the last not all the same.

    Returns
    -------
    tuple of float
        The order $q$ and the constant $c$; infinity for a constant that is too large for a float.

    Raises
    ------
    ValueError
        If `errors` has fewer than three entries, one that is not positive and finite, or only equal ones but for the
        last.

    Examples
    --------
    >>> q, c = order(np.array([0.5, 0.1, 0.004, 6.4e-6]))
    >>> round(q, 4), round(c, 4)
    (2.0, 0.4)
    """
    # given: the checks
    _check_positive(errors, "errors", 3)
    _check_spread(errors[:-1], "errors")
    raise NotImplementedError("not written yet: order")


def remaining_error(path: Float[np.ndarray, "n_points dim"]) -> float:
    """Return how far the last point of a walk is from where it leads, told by its last two steps: equation (6).

    Parameters
    ----------
    path : ndarray
        The points, one a row, at least three.

    Returns
    -------
    float
        The estimate; 0 if the last step did not move, and infinity if it was as long as the one before, or longer. Squares
        that are too large or too small for a float do no harm.

    Raises
    ------
    ValueError
        If `path` has fewer than three points, or a value that is not finite.

    Examples
    --------
    >>> remaining_error(np.array([[0.0, 5.0], [4.0, 5.0], [7.0, 5.0]]))
    9.0
    """
    # given: the check
    _check_path(path, 3)
    raise NotImplementedError("not written yet: remaining_error")


def evaluations_to(solver: Solver, problem: Problem, *, target: float) -> float:
    r"""Return how many evaluations a solver needs until it has reached the goal (7).

    Parameters
    ----------
    solver : callable
        Takes an objective, its gradient and a start, and does what it does. What it returns is not used, so it may be
        any minimiser of the room or of another library.
    problem : Problem
        What to solve: its `fun`, `grad`, `start` and `minimum` are used. The solver gets a copy of the start.
    target : float
        The share $\tau$ of the first excess that may be left, from 0 to below 1.

    Returns
    -------
    float
        The number of the first evaluation, of the objective or of the gradient, at a point that reaches the goal;
        infinity if there is none. The solver runs until it ends by itself, and an error in it is passed on.

    Raises
    ------
    ValueError
        If `target` is not between 0 and 1.

    Examples
    --------
    >>> problem = quadratic(np.array([1.0, 5.0]), rng=np.random.default_rng(0))
    >>> def halving(fun, grad, x):
    ...     for _ in range(20):
    ...         x = (x + problem.minimum) / 2
    ...         fun(x)
    >>> evaluations_to(halving, problem, target=0.01)  # the excess is quartered each time
    4.0
    """
    # given: the check
    if not 0 <= target < 1:
        raise ValueError(f"target must be at least 0 and below 1, got {target}")
    raise NotImplementedError("not written yet: evaluations_to")


def suite() -> dict[str, Problem]:  # given
    """Return problems to race on: the valleys of the room, and quadratics of condition 10, 100 and 1000.

    Returns
    -------
    dict of str to Problem
        The same ones at each call.

    Examples
    --------
    >>> list(suite())[:3]
    ['Rosenbrock', 'Rosenbrock, 10 variables', 'Himmelblau']
    """
    problems = {"Rosenbrock": rosenbrock(), "Rosenbrock, 10 variables": rosenbrock(10)}
    problems |= {"Himmelblau": himmelblau(), "Beale": beale()}
    rng = np.random.default_rng(0)
    return problems | {f"quadratic, {c}": quadratic(np.geomspace(1, c, 20), rng=rng) for c in (10, 100, 1000)}


def compare(  # given: your part for each pair
    solvers: Mapping[str, Solver], problems: Mapping[str, Problem], *, target: float = 1e-6
) -> Comparison:
    r"""Race solvers on problems, by `evaluations_to`.

    Parameters
    ----------
    solvers, problems : mapping
        What to race, and on what, under names to report.
    target : float
        The share $\tau$ of the first excess that may be left, at least 0 and below 1.

    Returns
    -------
    Comparison
        With the fields `problems`, `solvers` and `costs`.

    Raises
    ------
    ValueError
        If `solvers` or `problems` is empty, or `target` is not at least 0 and below 1.

    Examples
    --------
    >>> from functools import partial
    >>> from mlpath.optim.gradient_descent import minimize
    >>> race = compare({"Armijo": partial(minimize, rule="armijo")}, {"Himmelblau": himmelblau()})
    >>> race.costs.shape
    (1, 1)
    """
    if not (solvers and problems):
        raise ValueError(f"solvers and problems must not be empty, got {len(solvers)} and {len(problems)}")
    costs = [[evaluations_to(s, p, target=target) for s in solvers.values()] for p in problems.values()]
    return Comparison(tuple(problems), tuple(solvers), np.array(costs))


def performance_profile(
    costs: Float[np.ndarray, "n_problems n_solvers"], ratios: Float[np.ndarray, " n_ratios"]
) -> Float[np.ndarray, "n_ratios n_solvers"]:
    """Return which share of the problems each solver solved within so many times the best one's cost, equation (8).

    Parameters
    ----------
    costs : ndarray
        Positive costs, infinite for what was not solved.
    ratios : ndarray
        How many times the best one's cost, each at least 1 and finite.

    Returns
    -------
    ndarray
        Shares from 0 to 1. A problem that no solver solved counts against all.

    Raises
    ------
    ValueError
        If `costs` is empty or has an entry that is not positive, or a ratio is below 1 or infinite.

    Examples
    --------
    >>> costs = np.array([[10.0, 30.0], [40.0, 20.0], [np.inf, 50.0]])
    >>> performance_profile(costs, np.array([1.0, 2.0, 3.0])).round(4)
    array([[0.3333, 0.6667],
           [0.6667, 0.6667],
           [0.6667, 1.    ]])
    """
    # given: the checks
    if costs.size == 0 or not np.all(costs > 0):
        raise ValueError(f"costs must be positive, for at least one problem and one solver, got {costs}")
    if not np.all((ratios >= 1) & (ratios < np.inf)):
        raise ValueError(f"ratios must be finite and at least 1, got {ratios}")
    raise NotImplementedError("not written yet: performance_profile")


def _check_path(path: Float[np.ndarray, "n_points dim"], n_points: int) -> None:  # given: argument checks
    """Refuse a path that has too few points, or values that are not finite."""
    if np.ndim(path) != 2 or len(path) < n_points or path.shape[1] == 0:
        raise ValueError(f"path must have at least {n_points} points, one a row, got shape {np.shape(path)}")
    if not np.isfinite(path).all():
        raise ValueError("path must be finite, got NaN or infinity")


def _check_positive(values: Float[np.ndarray, " n_values"], name: str, count: int) -> None:  # given: argument checks
    """Refuse too few values, and values whose logarithm is not a number."""
    if np.ndim(values) != 1 or len(values) < count or not np.all((values > 0) & (values < np.inf)):
        raise ValueError(f"{name} must be at least {count} positive, finite numbers, got {values}")


def _check_spread(values: Float[np.ndarray, " n_values"], name: str) -> None:  # given: argument checks
    """Refuse values through which no line can be told."""
    if np.ptp(np.log(values)) == 0:
        raise ValueError(f"{name} must not be all the same, got {values[0]}")
