r"""KKT conditions: how to tell that a point is a constrained minimum, and by how much it fails to be one.

## Idea

A ball rolls down into a corner of the feasible region and stays. Some walls press against it, and their forces balance
the pull of the slope; walls that it does not touch exert no force; and no wall ever pulls. That is all: balance, position
inside the walls, pushing only, and only on contact. These four conditions turn "is this the minimum?" into arithmetic,
which needs no trust in the solver that proposed the point. What they cannot judge is a corner so sharp that the walls'
forces cannot balance anything.

## Maths

Minimise $f(x)$ subject to $h(x) = 0$ and $g(x) \le 0$. Write $A$ and $G$ for the Jacobians of $h$ and $g$, and

$$L(x, \nu, \lambda) = f(x) + \nu^\top h(x) + \lambda^\top g(x) . \tag{1}$$

**The conditions** of Karush, Kuhn and Tucker are

$$\nabla f + A^\top \nu + G^\top \lambda = 0, \qquad h = 0,\ g \le 0, \qquad \lambda \ge 0, \qquad \lambda_i g_i = 0 . \tag{2}$$

*Why.* Let $x$ be a minimum, and call an inequality **active** if $g_i(x) = 0$. A direction with $\nabla f^\top d < 0$
leads downhill; one with $A d = 0$ and $G_i d < 0$ for the active $i$ leads, if the constraints are not too strange, into
the feasible region. No direction may do both. Farkas' lemma says what it means that a system of linear inequalities has
no solution: $-\nabla f$ is a combination of the active gradients, with factors $\lambda_i \ge 0$, and of the rows of $A$,
with factors of any sign. Give the others $\lambda_i = 0$, and (2) is there.

**By how much they fail** needs scales, or else the verdict changes with the units. Let $s = \max(1, \lVert \nabla f
\rVert_\infty)$, and $r_i = \max(1, \lVert \text{gradient of constraint } i \rVert_\infty)$. The residuals are

$$\begin{aligned}
\text{stationarity} &= \lVert \nabla_x L \rVert_\infty / s, &
\text{feasibility} &= \max_{j, i}\bigl(|h_j| / r_j,\ g_i / r_i,\ 0\bigr), \\
\text{sign} &= \max_i(-\lambda_i r_i / s,\ 0), &
\text{complementarity} &= \max_i |\lambda_i g_i| / \max(1, |f|) .
\end{aligned} \tag{3}$$

A violation divided by the slope is a distance; a multiplier times the slope is a force, like the gradient; and
$\lambda_i g_i$ is an amount of $f$. Likewise an inequality counts as active if $g_i \ge -\varepsilon\, r_i$.

**Multipliers** need not come with a point. The best ones for it solve, over the active $i$,

$$\min_{\nu,\ \lambda \ge 0} \lVert \nabla f + A^\top \nu + G_a^\top \lambda \rVert^2 . \tag{4}$$

For a fixed $\lambda$ the best $\nu$ leaves over what is orthogonal to the rows of $A$. With $P = I - A^+ A$, the projection
onto their null space, (4) becomes a problem in $\lambda$ alone, non-negative least squares:

$$\min_{\lambda \ge 0} \lVert P \nabla f + (P G_a^\top) \lambda \rVert^2 , \qquad
\nu = -(A^\top)^+ (\nabla f + G_a^\top \lambda) . \tag{5}$$

**Too strange.** The argument for (2) needs that first-order feasible directions are what they seem. Two conditions are
enough, each for itself. **LICQ**: the rows of $A$ and $G_a$ are linearly independent. Then the multipliers are unique.
**MFCQ**, which asks for less: the rows of $A$ are linearly independent, and there is a direction with

$$A d = 0, \qquad G_i d < 0 \quad \text{for all active } i . \tag{6}$$

Then the multipliers are bounded. A linear program decides it: the greatest $t \le 1$ such that $A d = 0$,
$G_i d / r_i + t \le 0$ and $-1 \le d \le 1$ is positive if and only if (6) has a solution.

**Without any qualification** a minimum still satisfies the conditions of Fritz John: there are $\lambda_0 \ge 0$ and
$\lambda \ge 0$, not all zero together with $\nu$, such that

$$\lambda_0 \nabla f + A^\top \nu + G_a^\top \lambda = 0 . \tag{7}$$

If $\lambda_0 > 0$, dividing by it gives (2). If (7) can only be solved with $\lambda_0 = 0$, it speaks about the
constraints alone, and that is what happens at a cusp. Normalise $\lambda_0 + \sum_i \lambda_i = 1$, eliminate $\nu$ by
$P$ as in (5), and it is once more non-negative least squares, with one more row:

$$\min_{w \ge 0} \left\lVert \begin{pmatrix} P \nabla f & P G_a^\top \\ 1 & 1 \cdots 1 \end{pmatrix} w -
\begin{pmatrix} 0 \\ 1 \end{pmatrix} \right\rVert^2 , \qquad w = (\lambda_0, \lambda) . \tag{8}$$

**Second order.** Let $Z$ be an orthonormal basis of the directions orthogonal to the gradients of all equalities and of all
inequalities with $\lambda_i > 0$. If

$$Z^\top \nabla^2_{xx} L\, Z \tag{9}$$

is positive definite, $x$ is a strict local minimum. If *every* active inequality has $\lambda_i > 0$ (strict
complementarity), these are the directions in which nothing is decided to first order, and under LICQ a negative
eigenvalue of (9) means that $x$ is no minimum. Where an active inequality has $\lambda_i = 0$, only one side of it is
allowed, and (9) may look in a direction that is forbidden.

**A bound that needs no solution.** Let $f$ and all $g_i$ be convex, $h$ affine, and $\lambda \ge 0$. Then $L$ is convex
in $x$, and at a feasible $y$ it is at most $f(y)$. So at the minimum $x^*$, if its distance from $x$ is at most $R$,

$$f(x^*) \ge L(x^*, \nu, \lambda) \ge L(x, \nu, \lambda) + \nabla_x L^\top (x^* - x)
\ge f(x) + \nu^\top h(x) + \lambda^\top g(x) - R\, \lVert \nabla_x L \rVert_2 , \tag{10}$$

and therefore $f(x) - f(x^*) \le -\nu^\top h(x) - \lambda^\top g(x) + R\, \lVert \nabla_x L \rVert_2$.

## Worked example

Minimise $(x_1 - 3)^2 + (x_2 - 2)^2$ with $x_1 + x_2 \le 3$ and $x_1 \le 2.5$. At $x = (2, 1)$ the gradient is $(-2, -2)$,
the first inequality is active, the second is not. With $\lambda = (2, 0)$ everything in (2) holds. The only direction
orthogonal to $(1, 1)$ is $Z = (1, -1)/\sqrt 2$, and (9) is 2: a minimum, of value 2. Had the first constraint been
$x_1 + x_2 \ge 3$, the multiplier would have to be $-2$: not a minimum, the slope leads into the region.

At $x = (1.5, 1)$ no inequality is active, so the multipliers (5) are zero and the stationarity is $3/3 = 1$. But (10)
takes *any* multipliers: with $\lambda = (2, 0)$ again, $\nabla_x L = (-3, -2) + (2, 2) = (-1, 0)$ and
$-\lambda^\top g = 1$. With $R = 0.5$ the bound is $1 + 0.5$. Indeed $f(x) - f^* = 3.25 - 2 = 1.25$.

## Plan

- `kkt_residuals` takes what is known at a point, and multipliers, and returns (3).
- `active_set` says which inequalities count as active.
- `estimate_multipliers` returns the multipliers (5).
- `constraint_qualification` returns "LICQ", "MFCQ" or "none".
- `fritz_john` returns the multipliers (8).
- `second_order` takes the Hessian of the Lagrangian and the multipliers and returns what (9) says.
- `gap_bound` returns the bound from (10).
- `certify` takes a problem and a point, and puts the verdict together.

Given is `look`, which evaluates a problem at a point, and the classes.

## Pitfalls

- A maximum on the boundary passes as a minimum.
- A multiplier of an inequality that is not active, and complementarity nowhere looked at.
- The verdict changes when a constraint is multiplied by 1000.
- The solver's multipliers have the other sign, as SciPy's have.
- A point where no multipliers exist, although it is the minimum.
- A saddle with a zero multiplier, which is a minimum after all.

## Cost

One evaluation of the problem at the point. Then, with $n$ variables and $m$ active constraints, O(n m²) for the ranks and
about as much again for each of some $m$ passes of non-negative least squares; the linear program is solved only where
LICQ fails. The second derivatives cost O(n³).

## Go further

- *Experiment*: solve a problem with SciPy at tolerances from 1e-2 to 1e-12 and plot the four residuals. Which one is last?
- *Stretch*: a point where (2) holds only to $\varepsilon$ with multipliers of $1/\varepsilon$ is *almost* KKT; solvers
  run along such points into a cusp. Andreani, Haeser and Martínez [4] show that every minimum is the limit of such
  points. Show it at the cusp.

## References

1. Kuhn & Tucker (1951), Nonlinear programming, https://doi.org/10.1525/9780520411586-036
2. Nocedal & Wright (2006), Numerical Optimization, chapter 12, https://doi.org/10.1007/978-0-387-40065-5
3. Boyd & Vandenberghe (2004), Convex Optimization, chapter 5, https://doi.org/10.1017/CBO9780511804441
4. Andreani, Haeser & Martínez (2011), On sequential optimality conditions for smooth constrained optimization,
   https://doi.org/10.1080/02331930903578700
"""

# 8 parts to write. Test them with: pytest exercises/optim/kkt.py
# To be written without: scipy.optimize.minimize, scipy.optimize.lsq_linear, scipy.linalg.null_space

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mlpath.optim._constrained import ConstrainedProblem
from mlpath.optim._shared import checked_gradient
from mlpath.optim.gradient_descent import check_arguments


@dataclass(frozen=True)
class Local:
    """What a problem says about a point, to first order.

    Attributes
    ----------
    value, gradient : float, ndarray
        The objective and its gradient.
    equalities, equality_jacobian : ndarray
        The $h_j$, and their gradients in rows.
    inequalities, inequality_jacobian : ndarray
        The $g_i$, and their gradients in rows.
    """

    value: float
    gradient: Float[np.ndarray, " dim"]
    equalities: Float[np.ndarray, " n_equalities"]
    equality_jacobian: Float[np.ndarray, "n_equalities dim"]
    inequalities: Float[np.ndarray, " n_inequalities"]
    inequality_jacobian: Float[np.ndarray, "n_inequalities dim"]


@dataclass(frozen=True)
class Multipliers:
    r"""The factors in the Lagrangian.

    Attributes
    ----------
    equality, inequality : ndarray
        $\nu$ and $\lambda$.
    """

    equality: Float[np.ndarray, " n_equalities"]
    inequality: Float[np.ndarray, " n_inequalities"]


@dataclass(frozen=True)
class Residuals:
    """By how much each of the four conditions fails: equation (3). All are at least 0.

    Attributes
    ----------
    stationarity, feasibility, sign, complementarity : float
        Relative to the sizes of the gradients and of the objective.
    """

    stationarity: float
    feasibility: float
    sign: float
    complementarity: float


@dataclass(frozen=True)
class Certificate:
    """What can be said about a point.

    Attributes
    ----------
    verdict : str
        "infeasible"; or "unqualified", "not a minimum"; or, where (2) holds, "minimum", "saddle", "undecided".
    failures : dict
        The conditions that fail, with their residuals.
    residuals : Residuals
        All of them.
    multipliers : Multipliers
        Those that the residuals are about.
    active : ndarray
        Which inequalities are active.
    qualification : str
        "LICQ", "MFCQ" or "none".
    curvature : ndarray
        The eigenvalues of (9), ascending.
    """

    verdict: str
    failures: dict[str, float]
    residuals: Residuals
    multipliers: Multipliers
    active: Bool[np.ndarray, " n_inequalities"]
    qualification: str
    curvature: Float[np.ndarray, " n_free"]


def look(problem: ConstrainedProblem, x: ArrayLike) -> Local:  # given: the problem at a point
    """Return what a problem says about a point.

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : array_like
        The point.

    Returns
    -------
    Local
        In double precision.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, or a function of the problem returns a wrong shape, or something not finite.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> local = look(hock_schittkowski()["HS12"], [2.0, 3.0])
    >>> print(local.value, local.gradient, local.inequalities, local.inequality_jacobian)
    -30.0 [-8. -3.] [0.] [[16.  6.]]
    """
    x = check_arguments(x, step_size=1.0, tol=1.0, max_iter=1).astype(float)
    local = Local(
        float(problem.fun(x)),
        checked_gradient(problem.grad)(x),
        *(
            np.asarray(function(x), dtype=float)
            for function in (
                problem.equalities,
                problem.equality_jacobian,
                problem.inequalities,
                problem.inequality_jacobian,
            )
        ),
    )
    for name, values, jacobian in (
        ("equality_jacobian", local.equalities, local.equality_jacobian),
        ("inequality_jacobian", local.inequalities, local.inequality_jacobian),
    ):
        if values.ndim != 1 or jacobian.shape != (len(values), len(x)):
            raise ValueError(f"{name} must have a row for each of {values.shape} constraints, got {jacobian.shape}")
    for name, values in vars(local).items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite at x, got {values}")
    return local


def _slopes(jacobian: Float[np.ndarray, "n_constraints dim"]) -> Float[np.ndarray, " n_constraints"]:  # given: r_i
    """Return the sizes of the constraints' gradients, at least 1."""
    return abs(jacobian).max(axis=1, initial=1.0)


def _check_multipliers(local: Local, multipliers: Multipliers) -> None:  # given: argument checks
    """Refuse multipliers that do not fit the constraints."""
    for name, values in (("equalities", multipliers.equality), ("inequalities", multipliers.inequality)):
        expected = getattr(local, name).shape
        if values.shape != expected or not np.isfinite(values).all():
            raise ValueError(f"multipliers of the {name} must be {expected} finite numbers, got {values}")


def kkt_residuals(local: Local, multipliers: Multipliers) -> Residuals:
    """Return by how much each of the four conditions (2) fails: equation (3).

    Parameters
    ----------
    local : Local
        The problem at the point. There may be no constraints of either kind.
    multipliers : Multipliers
        Of any sign.

    Returns
    -------
    Residuals
        All zero at a point that satisfies (2).

    Raises
    ------
    ValueError
        If the multipliers do not fit the constraints, or are not finite.

    Examples
    --------
    >>> local = Local(
    ...     2.0, np.array([-2.0, -2.5]), np.zeros(0), np.zeros((0, 2)), np.array([0.5]), np.array([[1.0, 1.0]])
    ... )
    >>> kkt_residuals(local, Multipliers(np.zeros(0), np.array([2.0])))
    Residuals(stationarity=0.2, feasibility=0.5, sign=0.0, complementarity=0.5)
    """
    # given: the checks
    _check_multipliers(local, multipliers)
    raise NotImplementedError("not written yet: kkt_residuals")


def active_set(local: Local, *, tol: float = 1e-6) -> Bool[np.ndarray, " n_inequalities"]:
    r"""Return which inequalities count as active: those with $g_i \ge -\text{tol}\; r_i$.

    Parameters
    ----------
    local : Local
        The problem at the point.
    tol : float
        How far from its boundary an inequality may be, as a distance.

    Returns
    -------
    ndarray
        True for the active ones, among them all that are violated.

    Examples
    --------
    >>> values, slopes = np.array([-1e-8, -1e-4, 0.3]), np.array([[1.0], [500.0], [2.0]])
    >>> active_set(Local(2.0, np.ones(1), np.zeros(0), np.zeros((0, 1)), values, slopes))
    array([ True,  True,  True])
    """
    raise NotImplementedError("not written yet: active_set")


def estimate_multipliers(local: Local, active: Bool[np.ndarray, " n_inequalities"]) -> Multipliers:
    """Return the multipliers that come nearest to stationarity: equation (5).

    Parameters
    ----------
    local : Local
        The problem at the point.
    active : ndarray
        Which inequalities may have a multiplier other than zero.

    Returns
    -------
    Multipliers
        Those of inequalities are at least zero, and zero for the inactive ones. Where they are not unique, some of the
        best.

    Examples
    --------
    >>> gradients = np.array([[1.0, 1.0], [1.0, 0.0]])
    >>> local = Local(2.0, np.array([-2.0, -2.0]), np.zeros(0), np.zeros((0, 2)), np.array([0.0, -0.5]), gradients)
    >>> print(estimate_multipliers(local, np.array([True, False])).inequality.round(4))
    [2. 0.]
    """
    raise NotImplementedError("not written yet: estimate_multipliers")


def constraint_qualification(local: Local, active: Bool[np.ndarray, " n_inequalities"]) -> str:
    """Return the strongest constraint qualification that holds at a point.

    Gradients count by their directions, however long they are. To count as solvable, (6) needs a $t$ above 1e-9.

    Parameters
    ----------
    local : Local
        The problem at the point.
    active : ndarray
        Which inequalities are active.

    Returns
    -------
    str
        "LICQ" if the gradients of the equalities and of the active inequalities are linearly independent; else "MFCQ" if those of
        the equalities are and (6) has a solution; else "none".

    Examples
    --------
    >>> opposite = np.array([[0.0, 1.0], [0.0, -1.0]])
    >>> local = Local(0.0, np.array([-1.0, 0.0]), np.zeros(0), np.zeros((0, 2)), np.zeros(2), opposite)
    >>> (
    ...     constraint_qualification(local, np.array([True, True])),
    ...     constraint_qualification(local, np.array([True, False])),
    ... )
    ('none', 'LICQ')
    """
    raise NotImplementedError("not written yet: constraint_qualification")


def fritz_john(local: Local, active: Bool[np.ndarray, " n_inequalities"]) -> tuple[float, Multipliers, float]:
    r"""Return multipliers of Fritz John's condition, the objective's among them: equation (8).

    Parameters
    ----------
    local : Local
        The problem at the point.
    active : ndarray
        Which inequalities are active.

    Returns
    -------
    objective : float
        $\lambda_0$.
    multipliers : Multipliers
        $\nu$ and $\lambda$. The least-squares solution need not fulfil $\lambda_0 + \sum_i \lambda_i = 1$ exactly: it is
        divided by that sum afterwards.
    residual : float
        The largest component, in size, of the left side of (7).

    Examples
    --------
    >>> opposite = np.array([[0.0, 1.0], [0.0, -1.0]])
    >>> local = Local(0.0, np.array([-1.0, 0.0]), np.zeros(0), np.zeros((0, 2)), np.zeros(2), opposite)
    >>> objective, multipliers, residual = fritz_john(local, np.array([True, True]))
    >>> print(round(objective, 4), multipliers.inequality.round(4), round(residual, 4))
    0.0 [0.5 0.5] 0.0
    """
    raise NotImplementedError("not written yet: fritz_john")


def second_order(
    local: Local,
    hessian: Float[np.ndarray, "dim dim"],
    multipliers: Multipliers,
    active: Bool[np.ndarray, " n_inequalities"],
    *,
    tol: float = 1e-6,
) -> tuple[str, Float[np.ndarray, " n_free"]]:
    r"""Return what the second derivatives say about a point where (2) holds: equation (9).

    An inequality counts as having a positive multiplier if $\lambda_i r_i > \text{tol}\; s$, with the scales of (3).

    Parameters
    ----------
    local : Local
        The problem at the point.
    hessian : ndarray
        The second derivatives of the Lagrangian, symmetric.
    multipliers : Multipliers
        The multipliers there.
    active : ndarray
        Which inequalities are active.
    tol : float
        Eigenvalues within `tol` times the largest entry of `hessian` count as zero.

    Returns
    -------
    verdict : str
        "minimum" if all eigenvalues of (9) are positive, or there are none; "saddle" if one is negative, every active
        inequality has a positive multiplier, and LICQ holds; "undecided" otherwise.
    eigenvalues : ndarray
        Those of (9), ascending.

    Examples
    --------
    >>> local = Local(2.0, np.array([-2.0, -2.0]), np.zeros(0), np.zeros((0, 2)), np.zeros(1), np.array([[1.0, 1.0]]))
    >>> multipliers = Multipliers(np.zeros(0), np.array([2.0]))
    >>> verdict, eigenvalues = second_order(local, np.diag([2.0, 4.0]), multipliers, np.array([True]))
    >>> print(verdict, eigenvalues.round(4))
    minimum [3.]
    """
    raise NotImplementedError("not written yet: second_order")


def gap_bound(local: Local, multipliers: Multipliers, radius: float) -> float:
    r"""Return how far at most the objective is above its minimum, if the problem is convex: from equation (10).

    Parameters
    ----------
    local : Local
        The problem at the point, which need not be feasible.
    multipliers : Multipliers
        Any with $\lambda \ge 0$; the better they are, the better is the bound.
    radius : float
        How far at most the minimum is from the point.

    Returns
    -------
    float
        A bound on $f(x) - f(x^*)$. It may be negative at infeasible points.

    Raises
    ------
    ValueError
        If a multiplier of an inequality is negative, the multipliers do not fit, or `radius` is negative or not finite.

    Examples
    --------
    >>> gradients = np.array([[1.0, 1.0], [1.0, 0.0]])
    >>> local = Local(3.25, np.array([-3.0, -2.0]), np.zeros(0), np.zeros((0, 2)), np.array([-0.5, -1.0]), gradients)
    >>> gap_bound(local, Multipliers(np.zeros(0), np.array([2.0, 0.0])), radius=0.5)
    1.5
    """
    # given: the checks
    _check_multipliers(local, multipliers)
    if (multipliers.inequality < 0).any():
        raise ValueError(f"multipliers of inequalities must not be negative, got {multipliers.inequality}")
    if not 0 <= radius < np.inf:
        raise ValueError(f"radius must be non-negative and finite, got {radius}")
    raise NotImplementedError("not written yet: gap_bound")


def certify(
    problem: ConstrainedProblem,
    x: ArrayLike,
    multipliers: Multipliers | None = None,
    *,
    tol: float = 1e-6,
    active_tol: float = 1e-6,
) -> Certificate:
    """Judge whether a point is a local minimum, and say which conditions fail by how much.

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : array_like
        The point.
    multipliers : Multipliers, optional
        Those that a solver claims; by default those of `estimate_multipliers` for the active inequalities.
    tol : float
        A residual above it is a failure. It is also the tolerance of `second_order`.
    active_tol : float
        The tolerance of `active_set`.

    Returns
    -------
    Certificate
        The verdict is "infeasible" if that residual fails. Otherwise, if another one fails, it is "unqualified" if no
        constraint qualification holds, since then a minimum need not satisfy (2), and else "not a minimum": at least not with
        multipliers that were handed over. If none fails, it is the verdict of `second_order`.

    Raises
    ------
    ValueError
        If `look` refuses the point, or the multipliers do not fit the constraints.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem = hock_schittkowski()["HS12"]
    >>> found = certify(problem, [2.0, 3.0])
    >>> print(found.verdict, found.failures, found.multipliers.inequality.round(4), found.qualification)
    minimum {} [0.5] LICQ
    >>> found = certify(problem, [2.0, 2.0])
    >>> print(found.verdict, {name: round(amount, 4) for name, amount in found.failures.items()})
    not a minimum {'stationarity': 1.0}
    """
    # given: the checks, and the second derivatives of the Lagrangian
    local = look(problem, x)
    if not (tol > 0 and active_tol > 0):
        raise ValueError(f"tol and active_tol must be positive, got {tol} and {active_tol}")

    def curvature(nu: Float[np.ndarray, " n_equalities"], lam: Float[np.ndarray, " n_inequalities"]) -> np.ndarray:
        return np.asarray(problem.lagrangian_hess(np.array(x, dtype=float), nu, lam))

    raise NotImplementedError("not written yet: certify")


def _unit(rows: Float[np.ndarray, "n_rows dim"]) -> Float[np.ndarray, "n_rows dim"]:  # given: directions
    """Return rows divided by their largest entries, so that only their directions count; zeros stay zeros."""
    sizes = abs(rows).max(axis=1, keepdims=True)
    return rows / np.where(sizes > 0, sizes, 1)
