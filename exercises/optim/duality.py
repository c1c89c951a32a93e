r"""Duality: bounds from below that need no minimum, and when the best of them is the minimum.

## Idea

A point shows that the least value is *at most* so much. How could anybody show that it is *at least* so much, without
looking at all points? Sell the constraints: whoever breaks one pays a price for it, whoever leaves slack is paid. At
fair or unfair prices, the best that can be reached now is no worse than before, and without constraints it is easily
computed: that is a bound. The search for the best prices is a problem of its own, the *dual*. For convex problems its
answer is, almost always, that of the first one.

## Maths

The problem is: minimise $f(x)$ subject to $A x = b$ and $G x \le h$, with $f(x) = \tfrac12 x^\top P x + q^\top x$ and
$P$ positive semidefinite. For prices $\nu$ of any sign and $\lambda \ge 0$ let

$$L(x, \nu, \lambda) = f(x) + \nu^\top (A x - b) + \lambda^\top (G x - h), \qquad d(\nu, \lambda) = \min_x L(x, \nu, \lambda) . \tag{1}$$

At a feasible $x$ the first product is zero and the second is not positive. Hence **weak duality**: for all feasible $x$
and all $\lambda \ge 0$,

$$d(\nu, \lambda) \le L(x, \nu, \lambda) \le f(x) . \tag{2}$$

The difference $f(x) - d(\nu, \lambda)$ is the **gap**. It bounds how far $x$ is from the minimum.

**In closed form.** $L$ is quadratic in $x$ with the slope $w = q + A^\top \nu + G^\top \lambda$ at 0. It is least where
$P x = -w$. If that has a solution, $x = -P^+ w$ with the pseudoinverse is one. If it has none, there is a direction
without curvature along which $L$ falls for ever:

$$d(\nu, \lambda) = \begin{cases} -\tfrac12 w^\top P^+ w - b^\top \nu - h^\top \lambda & \text{if } P P^+ w = w, \\ -\infty & \text{otherwise.} \end{cases} \tag{3}$$

For a linear program, $P = 0$, this is finite only if $w = 0$.

**The dual as a program.** Write $P = R^\top R$ with as many rows in $R$ as $P$ has rank. Then $w$ is in the range of
$P$ if and only if $w = -R^\top u$ for some $u$, and then $w^\top P^+ w = u^\top u$. So the best bound is minus the
least value of

$$\tfrac12 u^\top u + b^\top \nu + h^\top \lambda \quad \text{subject to} \quad R^\top u + A^\top \nu + G^\top \lambda = -q, \quad -\lambda \le 0 , \tag{4}$$

a program with the variables $(u, \nu, \lambda)$. Take *its* dual: with $y$ as the prices of its equations, (3) wants
$u = -R y$, $A y = -b$ and $G y \ge -h$. With $x = -y$ that is the problem we began with. The dual of the dual is the
primal.

**Strong duality** says that the best bound is the minimum. If $x$, $\nu$ and $\lambda$ satisfy the KKT conditions, it
holds: $x$ minimises $L$, and both products in (2) are zero. For linear constraints that is so at each minimum. For
convex problems with curved constraints it is enough that *Slater's condition* holds: some point satisfies all
equations, and all inequalities strictly. By how much can they be satisfied? The largest distance from all walls, at
most 1, is a linear program in $(x, t)$:

$$\text{greatest } t \le 1 \quad \text{subject to} \quad A x = b, \quad G x + t\, r \le h, \qquad r_i = \lVert G_i \rVert_2 . \tag{5}$$

**Without convexity.** All that (1) knows of a problem with inequalities $c(x) \le 0$ are the pairs $(c(x), f(x))$. Let
them be $n$ points $(c_i, f_i)$. The best bound is again a linear program:

$$\text{greatest } t \quad \text{subject to} \quad t \le f_i + \lambda^\top c_i \text{ for all } i, \quad \lambda \ge 0 : \tag{6}$$

the highest point at which a plane that lies below the cloud meets the axis $c = 0$. Its dual has weights $p \ge 0$ with
$\sum_i p_i = 1$ that minimise $p^\top f$ with $\sum_i p_i c_i \le 0$. So the bound is the minimum over *mixtures* of
points: the problem is made convex. Where the lower edge of the cloud is dented at $c \le 0$, a gap opens. A vertical
edge there makes the price infinite, even if there is no gap.

**The support vector machine** with a soft margin has samples $x_i$ with signs $y_i = \pm 1$ and solves

$$\min_{w, \beta}\ \tfrac12 \lVert w \rVert^2 + C \sum_i \max(0, 1 - y_i (x_i^\top w + \beta)) . \tag{7}$$

With a slack $\xi_i$ for each maximum, and $\alpha_i \ge 0$ as the price of
$1 - \xi_i - y_i (x_i^\top w + \beta) \le 0$, setting the derivatives of $L$ to zero gives

$$w = \sum_i \alpha_i y_i x_i, \qquad \sum_i \alpha_i y_i = 0, \qquad 0 \le \alpha_i \le C, \tag{8}$$

and what remains of $L$ is the dual: the greatest $\sum_i \alpha_i - \tfrac12 \lVert w \rVert^2$ under (8).
Complementarity tells where a sample lies: $\alpha_i < C$ means $y_i (x_i^\top w + \beta) \ge 1$, and $\alpha_i > 0$, a
*support vector*, means $\le 1$. Multiplied by $y_i$, each is a bound on the bias:

$$\max_{i \in I} (y_i - x_i^\top w) \le \beta \le \min_{i \in J} (y_i - x_i^\top w), \qquad
\begin{aligned} I &= \{ y_i = 1,\ \alpha_i < C \} \cup \{ y_i = -1,\ \alpha_i > 0 \}, \\ J &= \{ y_i = 1,\ \alpha_i > 0 \} \cup \{ y_i = -1,\ \alpha_i < C \} . \end{aligned} \tag{9}$$

A sample with $0 < \alpha_i < C$ is in both sets and decides. At a solution the two bounds are in order; we take the
middle.

**Is it convex?** Three tests, each of which can find a counterexample, and none of which can prove the claim. A
function is convex if it lies nowhere above a chord, nowhere below a tangent, and bends down in no direction. The
*excess* of a counterexample is, in this order,

$$f\bigl(\tfrac{x + y}2\bigr) - \tfrac12 (f(x) + f(y)), \qquad f(x) + \nabla f(x)^\top (y - x) - f(y), \qquad -d^\top \nabla^2 f(x)\, d \quad (\lVert d \rVert = 1) . \tag{10}$$

A *set* is convex if its indicator is, the function that is 0 on it and infinite elsewhere: the first test then asks
whether the middle of two members is a member.

## Worked example

Minimise $x_1^2 + x_2^2$ with $x_1 + 2 x_2 = 5$. Here $P = 2 I$ and $w = \nu (1, 2)$, and (3) is
$-\tfrac12 \cdot \tfrac12 \cdot 5 \nu^2 - 5 \nu = -\tfrac54 \nu^2 - 5 \nu$. It is greatest at $\nu = -2$: a bound of 5.
And $x = -P^+ w = (1, 2)$ is feasible and has the value 5. At the price $\nu = -1$ the bound is $3.75$, and at the
feasible point $(5, 0)$ the gap is $25 - 3.75 = 21.25$.

Minimise $x$ with $x^2 \le 0$, whose only feasible point is 0. $d(\lambda) = \min_x (x + \lambda x^2) = -1/(4 \lambda)$:
the bounds come as near to 0 as you like, but no price reaches it. Slater's condition does not hold.

## Plan

A `Program` has the fields `P`, `q`, `A`, `b`, `G` and `h` of the problem above;
`program(q, P=..., A=..., b=..., G=..., h=...)` makes one, and what is left out is absent. Linear programs are solved by
SciPy's `linprog`.

- `dual_function` takes a program and prices, and returns (3).
- `dual_program` returns (4) as a program.
- `slater` returns the distance (5), and the point.
- `best_bound` takes the cloud of (6), and returns the bound and the prices.
- `support_vectors` takes samples and $\alpha$, and returns $w$, $\beta$, who supports, and the gap between (7) and its
  dual.
- `above_chord`, `below_tangent` and `bends_down` look for the counterexample with the largest excess (10).

Given are `duality_gap`, which compares a point with prices, and the argument checks.

## Pitfalls

- The "bound" lies above the minimum.
- Each bound of a linear program is $-\infty$, or each is finite.
- The dual of a maximum, or of $\ge$, with all signs turned.
- The margin grows when a constraint is multiplied by 10.
- The bias is NaN when every support vector sits at $C$.
- A straight function is called not convex, because of rounding.

## Cost

(3) and (4) factor $P$, O(n³). (5) is a linear program in n + 1 variables; (6) has one in m + 1 variables with as many
rows as points. The tests of $k$ points evaluate the function O(k²) times for chords and O(k) times for tangents, and
find O(k) sets of eigenvalues.

## Go further

- *Experiment*: minimise $x^4 - 3 x^2 + x$ with $x \ge s$ for $s$ from $-2$ to 2, and plot minimum and best bound
  against $s$. What curve is the second?
- *Stretch*: with $f = e^{-x}$ and the constraint $x^2 / y \le 0$, $y > 0$ (exercise 5.21 of [1]) a convex problem has a
  gap of 1 for ever. Show it by (6) on ever larger grids.

## References

1. Boyd & Vandenberghe (2004), Convex Optimization, chapters 3 and 5, https://doi.org/10.1017/CBO9780511804441
2. Dorn (1960), Duality in quadratic programming, https://doi.org/10.1090/qam/112751
3. Slater (1950), Lagrange Multipliers Revisited, https://doi.org/10.1007/978-3-0348-0439-4_14
4. Cortes & Vapnik (1995), Support-vector networks, https://doi.org/10.1007/BF00994018
5. Keerthi et al. (2001), Improvements to Platt's SMO algorithm for SVM classifier design,
   https://doi.org/10.1162/089976601300014493
"""

# 8 parts to write. Test them with: pytest exercises/optim/duality.py
# To be written without: scipy.optimize.minimize, scipy.optimize.milp, sklearn.svm, cvxpy

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float

from mlpath.optim._constrained import Hessian
from mlpath.optim._programs import Program, program
from mlpath.optim._shared import Gradient, Objective

SMALL = 1e-10  # eigenvalues below this share of the largest are zero, and so are other differences below their share


@dataclass(frozen=True)
class SupportVectors:
    r"""A linear support vector machine.

    Attributes
    ----------
    weights : ndarray
        $w$.
    bias : float
        $\beta$.
    support : ndarray
        Which samples support it: those with $\alpha_i > 0$.
    gap : float
        By how much (7) exceeds the dual's objective.
    """

    weights: Float[np.ndarray, " dim"]
    bias: float
    support: Bool[np.ndarray, " n_samples"]
    gap: float


@dataclass(frozen=True)
class Counterexample:
    r"""Why a function is not convex.

    Attributes
    ----------
    x, y : ndarray
        The two points; or the point, and a direction of length 1.
    excess : float
        What (10) says of them; positive.
    """

    x: Float[np.ndarray, " dim"]
    y: Float[np.ndarray, " dim"]
    excess: float


def dual_function(
    problem: Program, nu: Float[np.ndarray, " n_equalities"], lam: Float[np.ndarray, " n_inequalities"]
) -> float:
    r"""Return the least value of the Lagrangian over all points: equation (3).

    Parameters
    ----------
    problem : Program
        The problem.
    nu, lam : ndarray
        The prices $\nu$ and $\lambda$. Where a $\lambda_i$ is negative, the value is no bound.

    Returns
    -------
    float
        Minus infinity if $P x = -w$ has no solution: if an entry of $P x + w$ with $x = -P^+ w$ exceeds $10^{-9}$ times
        the largest of $|q| + |A|^\top |\nu| + |G|^\top |\lambda|$. Eigenvalues of $P$ below `SMALL` times its largest
        count as zero.

    Raises
    ------
    ValueError
        If the prices do not fit the constraints, or are not finite.

    Examples
    --------
    >>> from mlpath.optim._programs import linear_programs
    >>> doors = linear_programs()["wyndor"]  # its least value is -36
    >>> prices = np.array([0.0, 1.5, 1.0, 0.0, 0.0]), np.array([3.0, 2.5, 0.0, 0.0, 0.0]), np.array([3.0, 2.0, 0, 0, 0])
    >>> print([dual_function(doors, np.zeros(0), lam) for lam in prices])
    [-36.0, -42.0, -inf]
    """
    # given: the checks
    _check_prices(problem, nu, lam)
    raise NotImplementedError("not written yet: dual_function")


def duality_gap(  # given: a point beside prices
    problem: Program,
    x: Float[np.ndarray, " dim"],
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
) -> float:
    r"""Return how far at most a point is above the least value: the gap of (2).

    Parameters
    ----------
    problem : Program
        The problem.
    x : ndarray
        A feasible point.
    nu, lam : ndarray
        The prices $\nu$ and $\lambda \ge 0$.

    Returns
    -------
    float
        Infinity if the prices give no bound.

    Examples
    --------
    >>> from mlpath.optim._programs import linear_programs
    >>> doors = linear_programs()["wyndor"]
    >>> duality_gap(doors, np.array([2.0, 5.0]), np.zeros(0), np.array([0.0, 1.5, 1.0, 0.0, 0.0]))
    5.0
    """
    return problem.fun(x) - dual_function(problem, nu, lam)


def dual_program(problem: Annotated[Program, "its sizes are not those of the dual"]) -> Program:
    r"""Return the dual, as a program to be minimised: equation (4).

    Parameters
    ----------
    problem : Program
        The problem. Eigenvalues of its $P$ below `SMALL` times the largest count as zero.

    Returns
    -------
    Program
        Its variables are $u$, of which there are as many as $P$ has rank, then $\nu$, then $\lambda$. Its only
        inequalities are $-\lambda \le 0$. Nothing is said of its solution.

    Examples
    --------
    >>> from mlpath.optim._programs import linear_programs
    >>> dual = dual_program(linear_programs()["wyndor"])
    >>> print(dual.q, dual.A.tolist(), dual.b)
    [ 4. 12. 18.  0.  0.] [[1.0, 0.0, 3.0, -1.0, 0.0], [0.0, 2.0, 2.0, 0.0, -1.0]] [3. 5.]
    """
    raise NotImplementedError("not written yet: dual_program")


def slater(problem: Program) -> tuple[float, Float[np.ndarray, " dim"]]:
    r"""Return how far from all walls a point on the equations can be, and such a point: equation (5).

    Parameters
    ----------
    problem : Program
        Its constraints; its objective does not matter.

    Returns
    -------
    margin : float
        At most 1. Slater's condition holds if it is positive; if it is negative, no point is feasible. Minus infinity
        if no point satisfies the equations, or if a row of zeros in $G$ cannot be satisfied.
    x : ndarray
        A point with at least this distance from the inequalities; NaN if there is none.

    Examples
    --------
    >>> from mlpath.optim._programs import linear_programs
    >>> margin, x = slater(linear_programs()["chebyshev"])  # a pyramid that narrows upwards and has no ground
    >>> print(margin)
    1.0
    """
    raise NotImplementedError("not written yet: slater")


def best_bound(
    values: Float[np.ndarray, " n_points"], constraints: Float[np.ndarray, "n_points n_inequalities"]
) -> tuple[float, Float[np.ndarray, " n_inequalities"]]:
    r"""Return the best bound that prices give on a problem of so many points: equation (6).

    Parameters
    ----------
    values : ndarray
        The objective $f_i$ at each point.
    constraints : ndarray
        The $c_i$, which a feasible point has at most zero; each point a row.

    Returns
    -------
    bound : float
        The greatest $t$; infinity if even mixtures of the points are not feasible.
    lam : ndarray
        The prices $\lambda \ge 0$; NaN if the bound is infinite.

    Raises
    ------
    ValueError
        If there are no points, or the shapes do not fit, or something is not finite.

    Examples
    --------
    >>> bound, lam = best_bound(np.array([3.0, 1.0, 2.5]), np.array([[-1.0], [1.0], [0.0]]))  # the third is best
    >>> print(round(bound, 4), lam.round(4))
    2.0 [1.]
    """
    # given: the checks
    if values.ndim != 1 or not values.size or constraints.ndim != 2 or len(constraints) != len(values):
        raise ValueError(f"constraints must have a row for each of the values, got {constraints.shape}, {values.shape}")
    if not (np.isfinite(values).all() and np.isfinite(constraints).all()):
        raise ValueError("values and constraints must be finite, got NaN or infinity")
    raise NotImplementedError("not written yet: best_bound")


def support_vectors(
    features: Float[np.ndarray, "n_samples dim"],
    signs: Float[np.ndarray, " n_samples"],
    alpha: Float[np.ndarray, " n_samples"],
    C: float,
) -> SupportVectors:
    r"""Return the support vector machine that the prices of the samples make: equations (7) to (9).

    Parameters
    ----------
    features : ndarray
        The samples $x_i$, each a row.
    signs : ndarray
        Their $y_i$, each 1 or -1.
    alpha : ndarray
        The prices, which satisfy (8). Within $10^{-6}\, C$ of 0 or $C$ they count as being there in (9), and for who
        supports.
    C : float
        What a unit of violation costs. Positive.

    Returns
    -------
    SupportVectors
        The bias is the middle of the two bounds (9).

    Raises
    ------
    ValueError
        If signs are not 1 and -1, or the prices do not satisfy (8) within $10^{-6}\, C$, or `C` is not positive and
        finite.

    Examples
    --------
    >>> features, signs = np.array([[0.0, 1.0], [2.0, 1.0], [3.0, 4.0]]), np.array([-1.0, 1.0, 1.0])
    >>> machine = support_vectors(features, signs, np.array([0.5, 0.5, 0.0]), 10.0)
    >>> print(machine.weights, machine.bias, machine.support, machine.gap)
    [1. 0.] -1.0 [ True  True False] 0.0
    """
    # given: the checks
    _check_machine(features, signs, alpha, C)
    raise NotImplementedError("not written yet: support_vectors")


def above_chord(fun: Objective, points: Float[np.ndarray, "n_points dim"]) -> Counterexample | None:
    """Return the two points above the middle of whose chord a function is highest: the first of (10).

    Parameters
    ----------
    fun : callable
        The function. It may be infinite: for a set, let it be 0 on members and infinity elsewhere.
    points : ndarray
        Where to look: all pairs of rows with finite values.

    Returns
    -------
    Counterexample or None
        The pair with the largest excess, in the order of the rows; None if that is at most `SMALL` times the largest
        finite value in size.

    Raises
    ------
    ValueError
        If `points` is not a matrix of at least one row of finite numbers.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> found = above_chord(lambda x: 0.0 if x[0] * x[1] == 0 else np.inf, corners)  # two lines that cross
    >>> print(found.x, found.y, found.excess)
    [1. 0.] [0. 2.] inf
    """
    # given: the checks
    _check_points(points)
    raise NotImplementedError("not written yet: above_chord")


def below_tangent(fun: Objective, grad: Gradient, points: Float[np.ndarray, "n_points dim"]) -> Counterexample | None:
    """Return the two points such that a function is most below, at the second, its tangent at the first: the second of (10).

    Parameters
    ----------
    fun, grad : callable
        The function and its gradient.
    points : ndarray
        Where to look: all ordered pairs of rows. The function is finite there.

    Returns
    -------
    Counterexample or None
        The pair with the largest excess, the point of the tangent first; None if that is at most `SMALL` times the
        largest value in size.

    Raises
    ------
    ValueError
        If `points` is not a matrix of at least one row of finite numbers.

    Examples
    --------
    >>> found = below_tangent(lambda x: float(x[0] ** 3), lambda x: 3 * x**2, np.array([[2.0], [0.5], [-1.0]]))
    >>> print(found.x, found.y, found.excess)
    [-1.] [0.5] 3.375
    """
    # given: the checks
    _check_points(points)
    raise NotImplementedError("not written yet: below_tangent")


def bends_down(hess: Hessian, points: Float[np.ndarray, "n_points dim"]) -> Counterexample | None:
    """Return where and in which direction a function bends down most: the third of (10).

    Parameters
    ----------
    hess : callable
        The function's second derivatives, a symmetric matrix.
    points : ndarray
        Where to look.

    Returns
    -------
    Counterexample or None
        The row with the most negative curvature, and the direction of it, of length 1, of either sign; None if that is
        at least minus `SMALL` times the largest eigenvalue in size at any of the points.

    Raises
    ------
    ValueError
        If `points` is not a matrix of at least one row of finite numbers.

    Examples
    --------
    >>> found = bends_down(lambda x: np.diag([2.0, 6 * x[1]]), np.array([[0.3, 1.0], [0.2, -0.5]]))
    >>> print(found.x, abs(found.y), found.excess)
    [ 0.2 -0.5] [0. 1.] 3.0
    """
    # given: the checks
    _check_points(points)
    raise NotImplementedError("not written yet: bends_down")


def _check_prices(problem: Program, nu: np.ndarray, lam: np.ndarray) -> None:  # given: argument checks
    """Refuse prices that do not fit the constraints."""
    for name, prices, constraints in (("nu", nu, problem.b), ("lam", lam, problem.h)):
        if np.shape(prices) != constraints.shape or not np.isfinite(prices).all():
            raise ValueError(f"{name} must be {constraints.shape} finite numbers, got {prices}")


def _check_machine(  # given: argument checks
    features: np.ndarray, signs: np.ndarray, alpha: np.ndarray, C: float
) -> None:
    """Refuse what makes no support vector machine."""
    if not 0 < C < np.inf:
        raise ValueError(f"C must be positive and finite, got {C}")
    if features.ndim != 2 or not features.size or not np.isfinite(features).all():
        raise ValueError(f"features must be a matrix of finite numbers, got shape {features.shape}")
    if signs.shape != features.shape[:1] or set(np.unique(signs)) != {-1.0, 1.0}:
        raise ValueError(f"signs must be 1 or -1, and both, for each row of features, got {signs}")
    if alpha.shape != signs.shape or not ((alpha >= -1e-6 * C) & (alpha <= (1 + 1e-6) * C)).all():
        raise ValueError(f"alpha must be between 0 and C for each sample, got {alpha}")
    if not alpha.max() > 1e-6 * C or abs(alpha @ signs) > 1e-6 * C * len(signs):
        raise ValueError(f"alpha must not vanish, and its sum with the signs must, got {alpha @ signs}")


def _check_points(points: np.ndarray) -> None:  # given: argument checks
    """Refuse points that are no matrix of finite numbers."""
    if np.ndim(points) != 2 or not np.size(points) or not np.isfinite(points).all():
        raise ValueError(f"points must be a matrix of finite numbers with at least one row, got {points}")
