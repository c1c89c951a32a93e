r"""Sequential quadratic programming: solve a hard problem by solving easy ones that look like it from here.

## Idea

Newton's method replaces a function by its parabola, goes to where that is least, and starts again. With constraints,
replace them too, each by its tangent. What is left is a quadratic program: it says at once how far to go, which
inequalities will be active in the end, and what the multipliers are. It is only believed as far as it helps: a *merit
function*, which adds the violations to the objective at a high price, decides how much of the step is made. And second
derivatives are not needed; they are learnt on the way.

## Maths

Minimise $f(x)$ subject to $h(x) = 0$ and $c(x) \le 0$, with the Jacobians $A$ and $G$. With a symmetric positive
definite $B$ in place of the Lagrangian's second derivatives the **subproblem** at $x$ is

$$\min_d\ \nabla f^\top d + \tfrac12 d^\top B d \quad \text{subject to} \quad A d + h = 0, \quad G d + c \le 0 . \tag{1}$$

Its solution $d$ is the step, and its multipliers $\nu$ and $\lambda$ are estimates of those of the problem: if $d = 0$,
the KKT conditions of (1) are those of the problem. Near a solution the active constraints no longer change, and (1) is
Newton's method for the equations that remain, but for $B$.

**Elastic mode.** The tangents may exclude each other even where the constraints do not. Then let each be violated, at a
price $\rho$: with $v, w \ge 0$ for the two sides of the equations, and $t \ge 0$ for the inequalities,

$$\min_{d, v, w, t}\ \nabla f^\top d + \tfrac12 d^\top B d + \rho \sum_j (v_j + w_j) + \rho \sum_i t_i \quad \text{subject to} \quad A d + h = v - w, \quad G d + c \le t . \tag{2}$$

This always has a solution, and that is a solution of (1) if there is one and $\rho$ exceeds its multipliers.

**Merit.** The exact penalty of Han [1] and Powell [2],

$$\phi(x) = f(x) + \rho \Bigl( \sum_j |h_j(x)| + \sum_i \max(0, c_i(x)) \Bigr) , \tag{3}$$

has the minimum of the problem among its own if $\rho$ is larger than every multiplier in size. By tangents, it predicts
after a step $d$

$$m(d) = f + \nabla f^\top d + \rho \Bigl( \sum_j |h_j + A_j d| + \sum_i \max(0, c_i + G_i d) \Bigr) . \tag{4}$$

$m$ is convex, and $\phi$ and $m$ have the same slope at $d = 0$. So the slope of $\phi$ along $d$ is at most the
chord's, $m(d) - m(0)$. If $d$ solves (1), the violations vanish in $m(d)$; with
$\nabla f = -B d - A^\top \nu - G^\top \lambda$, $A d = -h$ and $\lambda^\top G d = -\lambda^\top c$,

$$m(d) - m(0) = -d^\top B d + \sum_j (\nu_j h_j - \rho |h_j|) + \sum_i (\lambda_i c_i - \rho \max(0, c_i)) \le -d^\top B d \tag{5}$$

as soon as $\rho \ge \max(|\nu_j|, \lambda_i)$: the step leads downhill. So the price is raised where need be, with
something to spare:

$$\rho \leftarrow \begin{cases} \rho & \text{if } \rho \ge 1.1\, M, \\ 2 M & \text{otherwise,} \end{cases} \qquad M = \max(|\nu_j|, \lambda_i) . \tag{6}$$

**The search** tries $\alpha = 1, \tfrac12, \tfrac14, \dots$ and takes the first with

$$\phi(x + \alpha d) \le \phi(x) + 10^{-4}\, \alpha\, (m(d) - m(0)) . \tag{7}$$

**Maratos** [3] found that (7) may refuse the full step arbitrarily close to the solution, although it is excellent:
along a bent constraint a step of length $\varepsilon$ leaves a violation of order $\varepsilon^2$, which the merit
function may weigh more than the gain. The **second-order correction** removes it: with the Jacobians at $x$, it adds
the shortest $p$ such that

$$A p = -h(x + d), \qquad G_i p = -c_i(x + d) \ \text{ for the inequalities with } \lambda_i > 10^{-6} \max(1, M) , \tag{8}$$

with the $M$ of (6), over all multipliers.

If $x + d$ is refused, $x + d + p$ is tried, before the step is halved.

**Learning** $B$. With $s$ for the move and

$$y = \nabla_x L(x + s, \nu, \lambda) - \nabla_x L(x, \nu, \lambda), \tag{9}$$

where $\nu$ and $\lambda$ are the new multipliers in both terms, `bfgs` knows how to update $B$. The Lagrangian may be
concave where the constraints hold it, so that $y^\top s < 0$; Powell's damping (`damped_change`) keeps $B$ positive
definite.

## Worked example

Minimise $-x_1 - x_2$ with $x_1^2 + x_2^2 = 2$, at $x = (1, 2)$ with $B = I$: $h = 3$, $A = (2, 4)$. (1) is solved by
$d = (1, 1) - \nu (2, 4)$, and $A d = -3$ gives $6 - 20 \nu = -3$, so that $\nu = 0.45$ and $d = (0.1, -0.8)$. Let
$\rho = 1$. $m(0) = \phi = -3 + 3 = 0$ and $m(d) = -3 + 0.7 + 0 = -2.3$. At $x + d = (1.1, 1.2)$, $h = 0.65$ and
$\phi = -2.3 + 0.65 = -1.65$: taken by (7). For (9), $\nabla_x L = -(1, 1) + 2 \nu x$ changes by $y = 0.9\, s$.

## Plan

- `subproblem` takes the problem at a point, and $B$, and returns (1) as a program.
- `elastic` takes such a program and $\rho$, and returns (2).
- `merit` returns (3), or (4) if it is given a step.
- `next_weight` returns (6).
- `second_order_correction` returns the $p$ of (8).
- `search` returns the point by (7), with the correction.
- `learn` returns the next $B$, by (9), with `curvature_holds(s, y)`, `damped_change(B, s, y)` and
  `update_matrix(B, s, y)` of `bfgs`.
- `minimize` puts them together.

A `Local` holds the problem at a point: `value`, `gradient`, `equalities`, `equality_jacobian`, `inequalities` and
`inequality_jacobian`. `program(q, P=..., A=..., b=..., G=..., h=...)` makes a quadratic program of its arrays.

Given is `solve_subproblem`, which solves (1), or else (2), by the interior-point method; the reasons to stop, and the
checks.

## Pitfalls

- The steps run along the constraints, but never come closer to them.
- It stalls on the constraint, with halved steps all the way.
- The merit function rises: the price is too low, or the slope has the wrong sign.
- $B$ becomes indefinite, and the subproblem unbounded.
- The multipliers of the last subproblem are compared with the gradient at the point before.
- Two tangents without a common point end the walk at its start.

## Cost

One quadratic program a step, O((n + m) n²) times its ten or so steps, and one evaluation of everything, more where a
step is refused. On seventeen problems of Hock and Schittkowski it evaluates about as many points as SciPy's SLSQP,
between 0.4 and 2.4 times as many. It takes 4 to 52 times as long, though: these problems cost next to nothing to
evaluate, and each subproblem is solved from a cold start by an interior-point method in Python, where SLSQP has a
compiled active-set method.

## Go further

- *Experiment*: print $\lVert x_k - x^* \rVert$ on HS40. How does its decrease change if $B$ is never updated?
- *Stretch*: minimise $2 (x_1^2 + x_2^2 - 1) - x_1$ on the unit circle from points of it [5], without and with the
  correction. Count the halvings.

## References

1. Han (1977), A globally convergent method for nonlinear programming, https://doi.org/10.1007/BF00932858
2. Powell (1978), A fast algorithm for nonlinearly constrained optimization calculations,
   https://doi.org/10.1007/BFb0067703
3. Maratos (1978), Exact penalty function algorithms for finite dimensional and control optimization problems, PhD
  thesis, University of London
4. Gill, Murray & Saunders (2005), SNOPT: an SQP algorithm for large-scale constrained optimization,
  https://doi.org/10.1137/S0036144504446096
5. Nocedal & Wright (2006), Numerical Optimization, chapters 15 and 18, https://doi.org/10.1007/978-0-387-40065-5
"""

# 8 parts to write. Test them with: pytest exercises/optim/sqp.py
# To be written without: scipy.optimize.minimize, scipy.optimize.linprog

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult
from mlpath.optim._programs import Program, program
from mlpath.optim.bfgs import curvature_holds, damped_change, update_matrix
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.interior_point import solve
from mlpath.optim.kkt import Local, Multipliers, kkt_residuals, look

CONVERGED = "converged: the conditions of Karush, Kuhn and Tucker hold within tol"
INFEASIBLE = "stopped: to first order, no step makes the violation smaller"
DIVERGED = "diverged: x is larger than 1e10"
STALLED = "stopped: no step along the direction lowers the merit function"
OUT_OF_STEPS = "stopped: max_iter steps were made before that"
LARGEST = 1e4  # multipliers above it tell of tangents that nearly exclude each other


@dataclass(frozen=True)
class Step:
    r"""What a subproblem says.

    Attributes
    ----------
    d : ndarray
        The step.
    multipliers : Multipliers
        $\nu$ and $\lambda$.
    elastic : bool
        Whether it is a solution of (2), because (1) has none.
    """

    d: Float[np.ndarray, " dim"]
    multipliers: Multipliers
    elastic: bool


@dataclass(frozen=True)
class Trial:
    """Where a search has ended.

    Attributes
    ----------
    x : ndarray
        The point.
    local : Local
        The problem there.
    nfev : int
        Number of points at which the problem was evaluated.
    """

    x: Float[np.ndarray, " dim"]
    local: Local
    nfev: int


def subproblem(local: Local, matrix: Float[np.ndarray, "dim dim"]) -> Program:
    """Return the quadratic program for the step: equation (1).

    Parameters
    ----------
    local : Local
        The problem at the point, as `kkt.look` returns it.
    matrix : ndarray
        $B$.

    Returns
    -------
    Program
        In the variables $d$. Nothing is said of its solution.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> local = look(hock_schittkowski()["HS14"], [2.0, 2.0])
    >>> found = subproblem(local, np.eye(2))
    >>> print(found.q, found.A, found.b, found.G, found.h)
    [0. 2.] [[ 1. -2.]] [1.] [[1. 4.]] [-4.]
    """
    raise NotImplementedError("not written yet: subproblem")


def elastic(problem: Annotated[Program, "has fewer variables"], weight: float) -> Program:
    r"""Return the program whose constraints may be violated at a price: equation (2).

    Parameters
    ----------
    problem : Program
        The subproblem (1).
    weight : float
        $\rho$.

    Returns
    -------
    Program
        In the variables $(d, v, w, t)$. Its inequalities are first $G d - t \le h$, in the order of the problem's, and
        then $-v \le 0$, $-w \le 0$ and $-t \le 0$.

    Examples
    --------
    >>> found = elastic(program([1.5], A=[[2.0]], b=[4.0], G=[[3.0]], h=[5.0]), 10.0)
    >>> print(found.q, found.A, found.G[0])
    [ 1.5 10.  10.  10. ] [[ 2. -1.  1.  0.]] [ 3.  0.  0. -1.]
    """
    raise NotImplementedError("not written yet: elastic")


def solve_subproblem(  # given: (1), or else (2)
    local: Local, matrix: Float[np.ndarray, "dim dim"], weight: float
) -> Step:
    r"""Solve the subproblem (1); if it has no solution, or one with a multiplier above `LARGEST`, solve (2).

    Parameters
    ----------
    local : Local
        The problem at the point.
    matrix : ndarray
        $B$, positive definite.
    weight : float
        The $\rho$ of (2).

    Returns
    -------
    Step
        The step, and the multipliers of the constraints.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> step = solve_subproblem(look(hock_schittkowski()["HS14"], [2.0, 2.0]), np.eye(2), 10.0)
    >>> print(step.d.round(4), step.multipliers.inequality.round(4), step.elastic)
    [-0.6667 -0.8333] [0.0278] False
    """
    problem, dim = subproblem(local, matrix), len(local.gradient)
    found = solve(problem, tol=1e-10, max_iter=25)
    violated = found.violation > 1e-7 * (1 + abs(np.append(problem.b, problem.h)).max(initial=0.0))
    prices = abs(np.append(found.equality_multipliers, found.inequality_multipliers))
    if violated or not prices.max(initial=0.0) <= LARGEST:  # NaN counts as large
        found = solve(elastic(problem, weight), tol=1e-10, max_iter=25)
    multipliers = Multipliers(found.equality_multipliers, found.inequality_multipliers[: len(problem.h)])
    return Step(found.x[:dim], multipliers, len(found.x) > dim)


def merit(local: Local, weight: float, d: Float[np.ndarray, " dim"] | None = None) -> float:
    r"""Return the merit function, or what it is predicted to be after a step: equations (3) and (4).

    Parameters
    ----------
    local : Local
        The problem at the point.
    weight : float
        $\rho$.
    d : ndarray, optional
        The step. Without it, or if it is zero, the value is (3).

    Returns
    -------
    float
        $\phi$ or $m(d)$.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> local = look(hock_schittkowski()["HS14"], [2.0, 2.0])
    >>> merit(local, 10.0), merit(local, 10.0, np.array([-0.5, -0.5]))
    (51.0, 20.0)
    """
    raise NotImplementedError("not written yet: merit")


def next_weight(weight: float, multipliers: Multipliers) -> float:
    r"""Return the price of violations: equation (6).

    Parameters
    ----------
    weight : float
        The $\rho$ so far.
    multipliers : Multipliers
        $\nu$ and $\lambda$.

    Returns
    -------
    float
        Never less than it was.

    Examples
    --------
    >>> multipliers = Multipliers(np.array([-3.0]), np.array([0.5, 2.0]))
    >>> next_weight(3.5, multipliers), next_weight(3.2, multipliers)
    (3.5, 6.0)
    """
    raise NotImplementedError("not written yet: next_weight")


def second_order_correction(local: Local, beyond: Local, multipliers: Multipliers) -> Float[np.ndarray, " dim"]:
    r"""Return the shortest step back to the constraints after a full step: equation (8).

    Parameters
    ----------
    local, beyond : Local
        The problem at $x$ and at $x + d$.
    multipliers : Multipliers
        Those of the subproblem at $x$, which say what is active.

    Returns
    -------
    ndarray
        $p$: the shortest of the least-squares solutions if there is no exact one.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem = hock_schittkowski()["HS12"]  # 4 x1^2 + x2^2 <= 25
    >>> local, beyond = look(problem, [2.0, 3.0]), look(problem, [2.3, 2.2])
    >>> second_order_correction(local, beyond, Multipliers(np.zeros(0), np.array([0.5]))).round(4)
    array([-0.0548, -0.0205])
    """
    raise NotImplementedError("not written yet: second_order_correction")


def search(
    problem: ConstrainedProblem, x: Float[np.ndarray, " dim"], local: Local, step: Step, weight: float
) -> Trial | None:
    r"""Return the first point along a step that lowers the merit function enough: equation (7).

    Tries $x + d$, then $x + d + p$ with the correction (8), unless the step is elastic, and then $x + \alpha d$ for
    $\alpha = \tfrac12, \tfrac14, \dots, 2^{-29}$. To the right side of (7) are added `10 * np.finfo(float).eps` times
    $|\phi(x)|$, for rounding. Points where something is not finite are refused.

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        The point.
    local : Local
        The problem there.
    step : Step
        The step, and the multipliers.
    weight : float
        The $\rho$ of the merit function.

    Returns
    -------
    Trial or None
        None if all are refused. The corrected point must satisfy (7) with $\alpha = 1$.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem, x = hock_schittkowski()["HS14"], np.array([2.0, 2.0])
    >>> local = look(problem, x)
    >>> trial = search(problem, x, local, solve_subproblem(local, np.eye(2), 10.0), 10.0)
    >>> print(trial.x.round(4), trial.nfev)
    [1.3333 1.1667] 1
    """
    raise NotImplementedError("not written yet: search")


def learn(
    matrix: Float[np.ndarray, "dim dim"],
    move: Float[np.ndarray, " dim"],
    before: Local,
    after: Local,
    multipliers: Multipliers,
) -> Float[np.ndarray, "dim dim"]:
    r"""Return the next approximation of the Lagrangian's second derivatives: equation (9), and Powell's damping.

    Parameters
    ----------
    matrix : ndarray
        $B$, symmetric and positive definite. It is not changed.
    move : ndarray
        $s$, not zero.
    before, after : Local
        The problem at $x$ and at $x + s$.
    multipliers : Multipliers
        $\nu$ and $\lambda$.

    Returns
    -------
    ndarray
        Symmetric and positive definite; `matrix` itself if `curvature_holds` refuses even the damped change.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem = hock_schittkowski()["HS12"]
    >>> before, after = look(problem, [2.0, 3.0]), look(problem, [3.0, 3.0])
    >>> learn(np.eye(2), np.array([1.0, 0.0]), before, after, Multipliers(np.zeros(0), np.array([0.5])))
    array([[ 5. , -1. ],
           [-1. ,  1.2]])
    """
    raise NotImplementedError("not written yet: learn")


def minimize(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    tol: float = 1e-7,
    max_iter: int = 200,
    record_path: bool = False,
) -> ConstrainedResult:
    r"""Minimise under constraints by sequential quadratic programming.

    Begins with $B = I$, $\rho = 1$, and multipliers of zero. Each step solves (1); or `solve_subproblem` turns to (2),
    at ten times the present price, or at `LARGEST` if that is less; a price above `LARGEST` stays. After (2) its price is the new $\rho$,
    and after (1) that of (6). Then it searches by (7), and learns by (9).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    start : array_like, optional
        Where to begin, instead of the problem's own start.
    tol : float
        Converged when all four `kkt_residuals` are at most that, with the multipliers of the last subproblem.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points.

    Returns
    -------
    ConstrainedResult
        `success` is true only for the message `CONVERGED`. The others are `INFEASIBLE`, if a step of (2), at a price of
        at least `LARGEST`, would reduce the violation, to first order, by less than $10^{-4}$ of it; `DIVERGED`;
        `STALLED`, if the search finds nothing; and `OUT_OF_STEPS`. `nit` counts the steps made, and
        `nfev` the points evaluated for them, the start included; those of a search that found nothing do not count. The
        multipliers are those of the last subproblem.

    Raises
    ------
    ValueError
        If `gradient_descent.check_arguments` refuses the start, `tol` or `max_iter`, or `kkt.look` what the problem
        returns there.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> result = minimize(hock_schittkowski()["HS14"])
    >>> print(result.x.round(4), result.equality_multipliers.round(4), result.inequality_multipliers.round(4))
    [0.8229 0.9114] [1.5945] [1.8466]
    """
    # given: the checks, and where it begins
    x = _begin(problem, start, tol=tol, max_iter=max_iter)
    local, multipliers, matrix = look(problem, x), _no_multipliers(problem, x), np.eye(len(x))
    nit, nfev, weight, path, message = 0, 1, 1.0, [x], None
    raise NotImplementedError("not written yet: minimize")


def _evaluate(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"]) -> Local | None:  # given: a trial point
    """Return what `look` would, and None where something is not finite."""
    values = (
        problem.grad(x),
        problem.equalities(x),
        problem.equality_jacobian(x),
        problem.inequalities(x),
        problem.inequality_jacobian(x),
    )
    local = Local(float(problem.fun(x)), *(np.asarray(value, dtype=float) for value in values))
    return local if all(np.isfinite(value).all() for value in vars(local).values()) else None


def _begin(
    problem: ConstrainedProblem, start: ArrayLike | None, *, tol: float, max_iter: int
) -> Float[np.ndarray, " dim"]:  # given: argument checks
    """Return the first point, or refuse the arguments."""
    start = problem.start if start is None else start
    return check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)


def _no_multipliers(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"]) -> Multipliers:  # given: zeros
    """Return multipliers of zero."""
    return Multipliers(np.zeros(len(problem.equalities(x))), np.zeros(len(problem.inequalities(x))))


def _obstacle(
    x: Float[np.ndarray, " dim"], local: Local, step: Step, trial: Trial | None, weight: float, tol: float
) -> str | None:  # given: why it cannot go on
    """Return INFEASIBLE or STALLED, or None."""
    if step.elastic and weight >= LARGEST:
        flat = Local(0.0, 0 * local.gradient, *list(vars(local).values())[2:])
        violation = merit(flat, 1.0)
        if violation > tol and merit(flat, 1.0, step.d) > (1 - 1e-4) * violation:
            return INFEASIBLE
    return STALLED if trial is None or (trial.x == x).all() else None


def _arrival(
    x: Float[np.ndarray, " dim"], local: Local, multipliers: Multipliers, tol: float
) -> str | None:  # given: the reasons to stop
    """Return CONVERGED or DIVERGED, or None."""
    if max(vars(kkt_residuals(local, multipliers)).values()) <= tol:
        return CONVERGED
    return DIVERGED if abs(x).max() > 1e10 else None


def _result(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nit: int,
    nfev: int,
    message: str,
    path: list[np.ndarray] | None,
    multipliers: Multipliers,
) -> ConstrainedResult:  # given: what to report
    """Return the result at the last point."""
    return ConstrainedResult(
        x,
        float(problem.fun(x)),
        nit,
        nfev,
        message == CONVERGED,
        message,
        None if path is None else np.array(path),
        equality_multipliers=multipliers.equality,
        inequality_multipliers=multipliers.inequality,
        violation=problem.violation(x),
    )
