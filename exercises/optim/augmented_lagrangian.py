r"""Augmented Lagrangian: a penalty that learns the prices, and so need not be infinite.

## Idea

A quadratic penalty pushes only where a constraint is broken, so its minimum must break it. But how far it gives way tells
what force was missing. Add that force to the objective as a fixed push, the multiplier, and minimise again: now the
penalty has less to do. Round by round the push comes closer to the true price and the violation goes to zero, while the
weight of the penalty stays where it is. This *method of multipliers* is what solvers use when problems are large and
nothing special is known about them.

## Maths

Minimise $f(x)$ subject to $h(x) = 0$ and $g(x) \le 0$, with Jacobians $A$ and $G$. For equalities, Hestenes [1] and
Powell [2] add the multipliers to the quadratic penalty with weight $\rho > 0$:

$$f(x) + \nu^\top h(x) + \tfrac\rho2 \lVert h(x) \rVert^2 . \tag{1}$$

**Inequalities** become equalities by slack variables: $g_i(x) + s_i = 0$ with $s_i \ge 0$. In (1) that makes the term
$\lambda_i (g_i + s_i) + \tfrac\rho2 (g_i + s_i)^2$, a parabola in $s_i$. It is least at
$s_i = \max(0, -g_i - \lambda_i / \rho)$. Inserting this removes the slacks again, and what is left [3] is

$$L_\rho(x, \nu, \lambda) = f + \nu^\top h + \tfrac\rho2 \lVert h \rVert^2
+ \frac1{2\rho} \sum_i \Bigl( \max(0,\ \lambda_i + \rho\, g_i)^2 - \lambda_i^2 \Bigr) . \tag{2}$$

A satisfied inequality costs nothing as soon as $\rho g_i < -\lambda_i$. The chain rule gives

$$\nabla_x L_\rho = \nabla f + A^\top \nu^+ + G^\top \lambda^+ \qquad \text{with} \tag{3}$$

$$\nu^+ = \nu + \rho\, h(x), \qquad \lambda^+ = \max(0,\ \lambda + \rho\, g(x)) . \tag{4}$$

So (3) is the gradient of the ordinary Lagrangian with the multipliers (4): a minimum of (2) is stationary *for these*.
They are the next multipliers. With $G_+$ for the rows where $\lambda_i + \rho g_i > 0$, the second derivatives are

$$\nabla^2_{xx} L_\rho = \nabla^2_{xx} L(x, \nu^+, \lambda^+) + \rho\, A^\top A + \rho\, G_+^\top G_+ . \tag{5}$$

If the second-order condition holds at the solution, and $\rho$ is large enough, this is positive definite there with the
true multipliers: the solution is a minimum of (2) at a *finite* weight.

**How fast.** For equalities, let $x(\nu)$ minimise (1). Differentiating its stationarity gives
$(H + \rho A^\top A)\, \partial x / \partial \nu = -A^\top$, with $H = \nabla^2_{xx} L$ at the solution. So the update (4)
maps the error of $\nu$ by

$$M = I - \rho\, A\, (H + \rho A^\top A)^{-1} A^\top , \tag{6}$$

and converges linearly with the largest eigenvalue of $M$ in size as its factor. If $H$ is regular,
$M = (I + \rho\, A H^{-1} A^\top)^{-1}$: the factor falls like $1/\rho$. A penalty alone needs $\rho = 10^6$ for six
digits; here $\rho = 100$ may bring two digits a round.

**When to raise the weight.** What has to vanish is the violation, and for inequalities also the product $\lambda_i g_i$.
Both do if and only if this does:

$$v = \max\bigl( |h_j|,\ |\max(g_i, -\lambda_i / \rho)| \bigr) . \tag{7}$$

(By (4), $\rho \max(g_i, -\lambda_i / \rho)$ is by how much $\lambda_i$ changes.) If $v$ falls below a share, here a
quarter, of what it was after the round before, the multipliers are converging and the weight stays. Otherwise it is
multiplied by 10.

**How exactly to minimise.** There is no use in an exact minimum for wrong multipliers: round $k = 0, 1, \dots$ minimises
(2) until the gradient is below

$$\varepsilon_k = \max(\text{tol},\ 10^{-k-1}) . \tag{8}$$

**If nothing is feasible**, $v$ stays away from zero and the weight grows. The rounds then approach points where the
violation itself is stationary,

$$A^\top h + G^\top \max(g, 0) = 0 , \tag{9}$$

which is a local minimum of $\lVert h \rVert^2 + \lVert \max(g, 0) \rVert^2$: the best answer there is. At a point with
violations and independent gradients (9) cannot hold.

## Worked example

Minimise $x^2$ with $x - 1 = 0$; the solution is $x = 1$ with $\nu = -2$. For given $\nu$ and $\rho = 2$, (1) is least
where $2x + \nu + 2(x - 1) = 0$, at $x = (2 - \nu)/4$. From $\nu = 0$: $x = 0.5$, and (4) gives
$\nu = 0 + 2 \cdot (-0.5) = -1$. Then $x = 0.75$ and $\nu = -1.5$; then $x = 0.875$ and $\nu = -1.75$. The error is halved
each time, as (6) says: $M = 1 - 2/(2 + 2) = 0.5$. With $\rho = 18$ it would be a tenth.

The same with $x \ge 1$, so $g = 1 - x$: from $\lambda = 0$ and $x = 0.5$ comes $\lambda = \max(0, 0 + 2 \cdot 0.5) = 1$.
With $x \ge -1$ instead, $g = -1 - x$ is negative at the free minimum $x = 0$, and $\lambda = \max(0, 0 - 2) = 0$ stays.

## Plan

- `augmented_lagrangian` takes a problem, a point, multipliers and $\rho$, and returns (2) with its derivatives (3) and (5).
- `update_multipliers` returns (4).
- `progress` returns (7).
- `next_penalty` takes $\rho$ and the last two values of (7), and returns the next $\rho$.
- `inner_tolerance` returns (8).
- `contraction` returns the factor that (6) predicts.
- `violation_slope` returns the left side of (9).
- `minimize` puts them together.

Given is `newton` from the exercise on penalties, which minimises without constraints.

## Pitfalls

- The multipliers jump to and fro, with ever larger steps.
- A satisfied inequality keeps a positive multiplier, or gets a negative one.
- The weight grows in every round: it is a penalty method again.
- The value of (2) is far from that of $f$ at the solution.
- The first round runs away to infinity, where the penalty is too weak for the objective.
- It goes on for ever on a problem without feasible points.

## Cost

Five to ten rounds, of which the later ones take one or two Newton steps each, as they start from the last solution. A
step costs one evaluation of everything and O(n³). On the benchmark's problems it takes 4 to 33 times as long as SciPy's
SLSQP, which needs no second derivatives, makes fewer evaluations, and is compiled; the method's own field is problems
whose constraints are too many to be solved for.

## Go further

- *Experiment*: plot the number of rounds, and of all Newton steps, against a fixed $\rho$ from 1 to $10^6$. Where is the
  best?
- *Stretch*: split the variables, $f(x) + k(z)$ with $x - z = 0$, and minimise (1) over $x$ and over $z$ in turn instead
  of jointly. That is ADMM, which needs only one such round between updates. Solve a lasso with it.

## References

1. Hestenes (1969), Multiplier and gradient methods, https://doi.org/10.1007/BF00927673
2. Powell (1969), A method for nonlinear constraints in minimization problems, in Optimization (Fletcher, ed.)
3. Rockafellar (1973), The multiplier method of Hestenes and Powell applied to convex programming,
   https://doi.org/10.1007/BF00934777
4. Birgin & Martínez (2014), Practical Augmented Lagrangian Methods for Constrained Optimization,
   https://doi.org/10.1137/1.9781611973365
5. Nocedal & Wright (2006), Numerical Optimization, chapter 17, https://doi.org/10.1007/978-0-387-40065-5
"""

# 8 parts to write. Test them with: pytest exercises/optim/augmented_lagrangian.py
# To be written without: scipy.optimize

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.penalty_barrier import Model, newton

CONVERGED = (
    "converged: the constraints, their products with the multipliers, and the Lagrangian's gradient are within tol"
)
OUT_OF_STEPS = "stopped: max_iter rounds were made before that"
INFEASIBLE = "stopped: at a point of locally least violation"
DIVERGED = "diverged: the augmented Lagrangian falls for ever, or is not finite, at every weight"
LARGEST = 1e10  # a weight beyond which nothing is tried


@dataclass(frozen=True, kw_only=True)
class AugmentedResult(ConstrainedResult):
    """How the method of multipliers ended.

    Attributes
    ----------
    penalty : float
        The weight of the last round.
    """

    penalty: float


def augmented_lagrangian(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> Model:
    r"""Return the augmented Lagrangian with its derivatives: equations (2), (3) and (5).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        A point.
    nu, lam : ndarray
        The multipliers $\nu$ and $\lambda \ge 0$.
    penalty : float
        The weight $\rho$.

    Returns
    -------
    Model
        Value, gradient and Hessian in `x`.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> model = augmented_lagrangian(
    ...     hock_schittkowski()["HS14"], np.array([1.0, 0.5]), np.array([-1.5]), np.array([2.0]), 4.0
    ... )
    >>> print(model.value, model.gradient)
    1.25 [ 0.5 -6. ]
    """
    raise NotImplementedError("not written yet: augmented_lagrangian")


def update_multipliers(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> tuple[Float[np.ndarray, " n_equalities"], Float[np.ndarray, " n_inequalities"]]:
    r"""Return the next multipliers: equation (4).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        Where the augmented Lagrangian is least.
    nu, lam : ndarray
        The multipliers in use. They are not changed.
    penalty : float
        The weight $\rho$.

    Returns
    -------
    nu, lam : ndarray
        $\nu^+$ and $\lambda^+ \ge 0$.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> problem, x = hock_schittkowski()["HS14"], np.array([1.0, 0.5])
    >>> nu, lam = update_multipliers(problem, x, np.array([-1.5]), np.array([2.5]), 4.0)
    >>> print(nu, lam)
    [2.5] [0.5]
    """
    raise NotImplementedError("not written yet: update_multipliers")


def progress(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> float:
    r"""Return by how much feasibility and complementarity fail: equation (7).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        A point.
    lam : ndarray
        The multipliers of the inequalities before the update.
    penalty : float
        The weight $\rho$.

    Returns
    -------
    float
        0 if there are no constraints.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> progress(hock_schittkowski()["HS12"], np.array([2.0, 2.0]), np.array([1.5]), 4.0)
    0.375
    """
    raise NotImplementedError("not written yet: progress")


def next_penalty(penalty: float, now: float, before: float) -> float:
    r"""Return the weight of the next round.

    Parameters
    ----------
    penalty : float
        The weight $\rho$ of this round.
    now, before : float
        The values of (7) after this round and after the one before, infinite if there was none.

    Returns
    -------
    float
        The same weight if `now` is at most a quarter of `before`, and otherwise 10 times that.

    Examples
    --------
    >>> next_penalty(3.0, 0.2, 0.9), next_penalty(3.0, 0.3, 0.9)
    (3.0, 30.0)
    """
    raise NotImplementedError("not written yet: next_penalty")


def inner_tolerance(nit: int, tol: float) -> float:
    """Return the largest gradient component with which a round may end: equation (8).

    Parameters
    ----------
    nit : int
        Number of rounds made before this one.
    tol : float
        The tolerance in the end.

    Returns
    -------
    float
        A tenth of that of the round before, but at least `tol`.

    Examples
    --------
    >>> print([f"{inner_tolerance(nit, 1e-3):.0e}" for nit in range(5)])
    ['1e-01', '1e-02', '1e-03', '1e-03', '1e-03']
    """
    raise NotImplementedError("not written yet: inner_tolerance")


def contraction(
    hessian: Float[np.ndarray, "dim dim"], jacobian: Float[np.ndarray, "n_equalities dim"], penalty: float
) -> float:
    r"""Return the factor by which a round multiplies the error of equalities' multipliers: that of (6).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives of the Lagrangian at the solution; with $\rho A^\top A$ added they must be regular.
    jacobian : ndarray
        The gradients of the equalities there, one a row; at least one.
    penalty : float
        The weight $\rho$.

    Returns
    -------
    float
        The largest eigenvalue of $M$ in size; 1 or more if the rounds do not converge.

    Examples
    --------
    >>> print(round(contraction(np.array([[2.0]]), np.array([[1.0]]), 18.0), 4))
    0.1
    """
    raise NotImplementedError("not written yet: contraction")


def violation_slope(problem: ConstrainedProblem, x: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:
    """Return the gradient of half the sum of all squared violations: the left side of (9).

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    x : ndarray
        A point.

    Returns
    -------
    ndarray
        Zero at feasible points, and where the violation is locally least.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> print(violation_slope(hock_schittkowski()["HS14"], np.array([2.0, 1.0])))
    [2. 0.]
    """
    raise NotImplementedError("not written yet: violation_slope")


def minimize(
    problem: ConstrainedProblem,
    start: ArrayLike | None = None,
    *,
    penalty: float = 10.0,
    tol: float = 1e-6,
    max_iter: int = 50,
    record_path: bool = False,
) -> AugmentedResult:
    r"""Minimise under constraints by the method of multipliers.

    Multipliers begin at zero. Each round minimises (2) by `newton`, with the tolerance (8), from where the last one ended; measures (7);
    updates the multipliers by (4); and chooses the next weight. If a round runs away, because the penalty is too weak, its point and multipliers
    are dropped and the weight is multiplied by 10.

    Parameters
    ----------
    problem : ConstrainedProblem
        The problem.
    start : array_like, optional
        Where to begin, instead of the problem's own start.
    penalty : float
        The first $\rho$.
    tol : float
        Converged when (7) and each component of (3) are at most that.
    max_iter : int
        The largest number of rounds.
    record_path : bool
        Whether to keep the point after each round.

    Returns
    -------
    AugmentedResult
        `success` is true only for the message `CONVERGED`. The others are `INFEASIBLE`, if a constraint is violated by more than `tol` and the largest component
        of (9) is at most $10^{-6}$ times that violation; `DIVERGED`, if a round ran away and the next weight would be above `LARGEST`; and `OUT_OF_STEPS`, also if
        that weight is reached otherwise. `nit` counts rounds, `nfev` evaluations of the objective. The multipliers are those of (4) after
        the last round. `path` has the start, and a row for each round.

    Raises
    ------
    ValueError
        If `gradient_descent.check_arguments` refuses the start, `tol` or `max_iter`, or `penalty` is not positive and finite.

    Examples
    --------
    >>> from mlpath.optim._constrained import hock_schittkowski
    >>> result = minimize(hock_schittkowski()["HS14"])
    >>> print(result.x.round(4), result.equality_multipliers.round(4), result.inequality_multipliers.round(4))
    [0.8229 0.9114] [1.5945] [1.8466]
    >>> print(result.success, result.penalty)
    True 10.0
    """
    # given: the checks
    x = _begin(problem, start, penalty, tol=tol, max_iter=max_iter)
    raise NotImplementedError("not written yet: minimize")


def _begin(
    problem: ConstrainedProblem, start: ArrayLike | None, penalty: float, *, tol: float, max_iter: int
) -> Float[np.ndarray, " dim"]:  # given: argument checks
    """Return the first point, or refuse the arguments."""
    if not 0 < penalty < np.inf:
        raise ValueError(f"penalty must be positive and finite, got {penalty}")
    start = problem.start if start is None else start
    return check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)


def _verdict(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    now: float,
    gradient: Float[np.ndarray, " dim"],
    tol: float,
) -> str:  # given: the reasons to stop
    """Return CONVERGED or INFEASIBLE, or else OUT_OF_STEPS, which means to go on as long as there are rounds left."""
    if max(now, abs(gradient).max()) <= tol:
        return CONVERGED
    violation = problem.violation(x)
    least = violation > tol and abs(violation_slope(problem, x)).max() <= 1e-6 * violation
    return INFEASIBLE if least else OUT_OF_STEPS


def _result(
    problem: ConstrainedProblem,
    x: Float[np.ndarray, " dim"],
    nit: int,
    nfev: int,
    message: str,
    path: list[np.ndarray] | None,
    nu: Float[np.ndarray, " n_equalities"],
    lam: Float[np.ndarray, " n_inequalities"],
    penalty: float,
) -> AugmentedResult:  # given: what to report
    """Return the result at the last point."""
    return AugmentedResult(
        x,
        float(problem.fun(x)),
        nit,
        nfev,
        message == CONVERGED,
        message,
        None if path is None else np.array(path),
        equality_multipliers=nu,
        inequality_multipliers=lam,
        violation=problem.violation(x),
        penalty=penalty,
    )
