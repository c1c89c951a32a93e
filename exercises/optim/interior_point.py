r"""Interior points: walk through the middle of a program's feasible region to its corner, in a dozen steps.

## Idea

The minimum of a linear program is at a corner, and there may be more corners than atoms. The simplex method walks from
corner to corner. An interior-point method never touches a wall until the end: it keeps all slacks and all prices
positive, and makes their products small *at the same rate*, so that no wall is met too early. Each step is one of
Newton's, and its direction is chosen twice: once greedily, to see how far one could go, and once with what that trial
has taught. It takes 10 to 30 steps, whether there are ten variables or a hundred thousand.

## Maths

Minimise $\tfrac12 x^\top P x + q^\top x$ subject to $A x = b$ and $G x + s = h$ with slacks $s \ge 0$; $P$ is positive
semidefinite, or zero. With multipliers $\nu$ and $\lambda \ge 0$ the KKT conditions say that these four **residuals**
vanish:

$$r_d = P x + q + A^\top \nu + G^\top \lambda, \qquad r_e = A x - b, \qquad r_i = G x + s - h, \qquad r_c = s \circ \lambda , \tag{1}$$

with $\circ$ for the product entry by entry. The mean of the last, over the $m$ inequalities, is

$$\mu = s^\top \lambda / m . \tag{2}$$

The **central path** has $s_i \lambda_i = \mu$ for all $i$ instead of zero; it leads to the solution as $\mu$ goes to 0.
**Newton's step** towards given products changes $(x, s, \nu, \lambda)$ by
$(\Delta x, \Delta s, \Delta\nu, \Delta\lambda)$ with

$$\begin{aligned} P \Delta x + A^\top \Delta\nu + G^\top \Delta\lambda &= -r_d, & A \Delta x &= -r_e, \\
G \Delta x + \Delta s &= -r_i, & \lambda \circ \Delta s + s \circ \Delta\lambda &= -r_c . \end{aligned} \tag{3}$$

**Elimination.** The third equation gives $\Delta s$, the fourth then $\Delta\lambda$:

$$\Delta s = -r_i - G \Delta x, \qquad \Delta\lambda = -(r_c + \lambda \circ \Delta s) / s . \tag{4}$$

Inserting them into the first leaves, with the weights $w = \lambda / s$ and
$H = P + G^\top \operatorname{diag}(w)\, G$,

$$\begin{pmatrix} H & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} \Delta x \\ \Delta\nu \end{pmatrix} =
\begin{pmatrix} -r_d + G^\top \bigl( (r_c - \lambda \circ r_i) / s \bigr) \\ -r_e \end{pmatrix} = \begin{pmatrix} u \\ v \end{pmatrix} . \tag{5}$$

A wall weighs the more, the closer it is. $H$ is positive definite if no direction is free of both curvature and walls.
Then eliminate once more:

$$(A H^{-1} A^\top)\, \Delta\nu = A H^{-1} u - v, \qquad \Delta x = H^{-1} (u - A^\top \Delta\nu) . \tag{6}$$

Both matrices have Cholesky factors. But variables may be free, rows of $A$ may repeat each other, and near the end $w$
spans twenty orders of magnitude. So each diagonal entry is raised, by $10^{-12}$ times itself and a little more; what
that spoils is repaired by inserting the solution into (5), and solving again for what is left over, twice.

**How far.** Slacks and multipliers must stay positive. With $\Delta$ and $z$ for the steps and values of all of them,
the step is cut to

$$\alpha = \min\Bigl(1,\ \gamma \min_{\Delta_i < 0} \frac{z_i}{-\Delta_i}\Bigr) , \tag{7}$$

with $\gamma = 1$ to touch the first wall and $\gamma = 0.99$ to stop short of it.

**Predictor and corrector** (Mehrotra). First solve (3) with $r_c = s \circ \lambda$, as if to finish at once: the
*affine* step. At its end, after (7) with $\gamma = 1$, the mean product would be $\mu_a$. If that is small, the way is
clear; if not, one is off the centre and had better go back there. So aim at products of $\sigma \mu$ with

$$\sigma = (\mu_a / \mu)^3 . \tag{8}$$

A full affine step would not make the products zero, but leave $\Delta s_a \circ \Delta\lambda_a$, which Newton's method
has neglected. Subtract that in advance: solve (3) again, with the same factors, for

$$r_c = s \circ \lambda + \Delta s_a \circ \Delta\lambda_a - \sigma \mu , \tag{9}$$

and go by (7) with $\gamma = 0.99$. The residuals $r_d$, $r_e$, $r_i$ shrink by $1 - \alpha$ in each step.

**Where to begin.** Forget the signs, and minimise the objective plus $\tfrac12 \lVert s \rVert^2$. That is (5) with
$w = 1$, $u = -q + G^\top h$ and $v = b$; it gives $x$, $\nu$, $s = h - G x$ and $\lambda = -s$. Where one of them is
not positive, all of the same kind are raised:

$$s \leftarrow s + \max(0, 1 - \min_i s_i) \ \text{ if } \min_i s_i \le 0 , \tag{10}$$

and likewise $\lambda$.

**No solution.** If $(\nu, \lambda \ge 0)$ has $A^\top \nu + G^\top \lambda = 0$ but $b^\top \nu + h^\top \lambda < 0$,
then no $x$ is feasible: for such an $x$ would give
$0 = \nu^\top A x + \lambda^\top G x \le b^\top \nu + h^\top \lambda$. If $x$ has $q^\top x < 0$, $P x = 0$, $A x = 0$
and $G x \le 0$, the objective falls for ever along $x$ (if anything is feasible). In such problems the iterates diverge
*in these directions*, and so they serve as their own proofs. With $t = -(b^\top \nu + h^\top \lambda)$, or
$t = -q^\top x$, positive, they are believed if

$$\lVert A^\top \nu + G^\top \lambda \rVert_\infty < \varepsilon\, t, \qquad \text{or} \qquad \max\bigl( \lVert P x \rVert_\infty, \lVert A x \rVert_\infty, \max_i (G x)_i \bigr) < \varepsilon\, t . \tag{11}$$

## Worked example

Minimise $x$ with $x \ge 1$: $G = -1$, $h = -1$, $q = 1$. Let $x = 3$, $s = 2$, $\lambda = 0.5$. Then
$r_d = 1 - 0.5 = 0.5$, $r_i = -3 + 2 + 1 = 0$ and $\mu = 1$. The affine step: $w = 0.25 = H$, $u = -0.5 - (1 / 2) = -1$,
so $\Delta x = -4$, $\Delta s = -4$ and $\Delta\lambda = -(1 + 0.5 \cdot (-4))/2 = 0.5$. The slack allows
$\alpha = 0.5$. There $s = 0$, so $\mu_a = 0$ and $\sigma = 0$. The corrector (9) has $r_c = 1 + (-4)(0.5) - 0 = -1$:
now $u = -0.5 + 0.5 = 0$, so $\Delta x = 0$, $\Delta s = 0$ and $\Delta\lambda = 0.5$, a full step, and $\lambda = 1$ is
right.

## Plan

- `residuals` returns (1) and (2) at an iterate.
- `reduced_solver` takes the weights and returns a function that solves (5), by (6), for any right side.
- `direction` takes an iterate, such a function and $r_c$, and returns the step of (3), by (5) and (4).
- `step_length` returns (7).
- `starting_point` returns (10).
- `predictor_corrector` returns the next iterate.
- `certificate` says by (11) whether an iterate proves that there is no solution.
- `solve` goes from the start to a result.

Given are the iterate, which can be moved, the reasons to stop, and the checks.

## Pitfalls

- Slacks hit zero early, and the steps become ever shorter.
- It converges, but linearly.
- The factorisation fails in the last steps, or at once for a free variable.
- The wrong sign of a multiplier: the walls attract.
- An infeasible problem runs to the limit of steps, or is called solved.

## Cost

A step costs one product $G^\top \operatorname{diag}(w) G$, O(m n²), one Cholesky factorisation O(n³), and O(p n²) for
$p$ equations; the second direction is nearly free. Random linear programs of 10 variables take 7 or 8 steps, of 200
variables 10 to 12. On dense programs of 50 to 150 variables the whole takes less time than HiGHS, whose field are
sparse ones.

## Go further

- *Experiment*: count the steps for random linear programs of 10 to 500 variables. How do they grow? And without the
  corrector?
- *Stretch*: choose different lengths for $(x, s)$ and $(\nu, \lambda)$ in linear programs. Why is this not allowed if
  $P \ne 0$?

## References

1. Mehrotra (1992), On the Implementation of a Primal-Dual Interior Point Method, https://doi.org/10.1137/0802028
2. Wright (1997), Primal-Dual Interior-Point Methods, https://doi.org/10.1137/1.9781611971453
3. Nocedal & Wright (2006), Numerical Optimization, chapters 14 and 16, https://doi.org/10.1007/978-0-387-40065-5
4. Vandenberghe (2010), The CVXOPT linear and quadratic cone program solvers,
   https://www.seas.ucla.edu/~vandenbe/publications/coneprog.pdf
"""

# 8 parts to write. Test them with: pytest exercises/optim/interior_point.py
# To be written without: scipy.optimize.linprog, scipy.optimize.minimize, scipy.optimize.milp, scipy.linalg.solve, numpy.linalg.solve, numpy.linalg.inv, numpy.linalg.lstsq

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.optim._constrained import ConstrainedResult
from mlpath.optim._programs import Program

CONVERGED = "converged: the residuals and the products of slacks and multipliers are within tol"
INFEASIBLE = "stopped: the multipliers prove that no point is feasible"
UNBOUNDED = "stopped: the objective falls for ever along x, if anything is feasible"
OUT_OF_STEPS = "stopped: max_iter steps were made before that"
BROKEN = "stopped: the numbers became too large or too small to go on"

Solver = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Iterate:
    r"""Where the method is; or a step from there.

    Attributes
    ----------
    x, s, nu, lam : ndarray
        The point, the slacks of the inequalities, and the multipliers $\nu$ and $\lambda$.

    Examples
    --------
    >>> at = Iterate(np.array([1.0, 2.0]), np.array([0.5]), np.zeros(0), np.array([3.0]))
    >>> at.moved(at, 0.5).x
    array([1.5, 3. ])
    """

    x: Float[np.ndarray, " dim"]
    s: Float[np.ndarray, " n_inequalities"]
    nu: Float[np.ndarray, " n_equalities"]
    lam: Float[np.ndarray, " n_inequalities"]

    def moved(self, step: "Iterate", length: float) -> "Iterate":  # given: the next one
        """Return the iterate after so much of a step.

        Parameters
        ----------
        step : Iterate
            The whole step.
        length : float
            Which share of it.

        Returns
        -------
        Iterate
            A new one.
        """
        pairs = zip(vars(self).values(), vars(step).values())
        return Iterate(*(value + length * change for value, change in pairs))


@dataclass(frozen=True)
class Residuals:
    r"""By how much the conditions fail: equations (1) and (2).

    Attributes
    ----------
    dual, equality, inequality : ndarray
        $r_d$, $r_e$ and $r_i$.
    mu : float
        The mean product of slacks and multipliers, 0 if there are no inequalities.
    """

    dual: Float[np.ndarray, " dim"]
    equality: Float[np.ndarray, " n_equalities"]
    inequality: Float[np.ndarray, " n_inequalities"]
    mu: float


def residuals(program: Program, at: Iterate) -> Residuals:
    """Return the residuals at an iterate: equations (1) and (2).

    Parameters
    ----------
    program : Program
        The problem. There may be no constraints of either kind.
    at : Iterate
        The iterate.

    Returns
    -------
    Residuals
        All zero at a solution.

    Examples
    --------
    >>> from mlpath.optim._programs import linear_programs
    >>> doors = linear_programs()["wyndor"]
    >>> at = Iterate(np.array([1.0, 2.0]), np.array([3.0, 8.0, 11.0, 1.0, 1.0]), np.zeros(0), np.full(5, 0.5))
    >>> found = residuals(doors, at)
    >>> print(found.dual, found.inequality, found.mu)
    [-1.5 -3.5] [ 0.  0.  0.  0. -1.] 2.4
    """
    raise NotImplementedError("not written yet: residuals")


def reduced_solver(program: Program, weights: Float[np.ndarray, " n_inequalities"]) -> Solver:
    r"""Factor the matrix of (5), and return the function that solves with it by (6).

    Parameters
    ----------
    program : Program
        The problem.
    weights : ndarray
        $w = \lambda / s$, positive.

    Returns
    -------
    callable
        Takes $u$ and $v$, and returns $\Delta x$ and $\Delta\nu$. Each call uses the same factors, and solves three
        times: for the right side, and twice for what (5) leaves over. The given `_cholesky` raises the diagonals.

    Examples
    --------
    >>> from mlpath.optim._programs import quadratic_programs
    >>> solver = reduced_solver(quadratic_programs()["projection"], np.array([1.0, 3.0, 0.5]))  # H = diag(2, 4, 1.5)
    >>> dx, dnu = solver(np.array([1.0, 2.0, 3.0]), np.array([0.5]))
    >>> print(dx.round(4), dnu.round(4))
    [-0.3824  0.0588  0.8235] [1.7647]
    """
    raise NotImplementedError("not written yet: reduced_solver")


def direction(program: Program, at: Iterate, solver: Solver, products: Float[np.ndarray, " n_inequalities"]) -> Iterate:
    r"""Return Newton's step: equation (3), by (5) and (4).

    Parameters
    ----------
    program : Program
        The problem.
    at : Iterate
        The iterate, whose slacks are positive.
    solver : callable
        What `reduced_solver` returns for its weights.
    products : ndarray
        $r_c$.

    Returns
    -------
    Iterate
        $\Delta x$, $\Delta s$, $\Delta\nu$ and $\Delta\lambda$.

    Examples
    --------
    >>> from mlpath.optim._programs import program
    >>> line = program([1.0], G=[[-1.0]], h=[-1.0])
    >>> at = Iterate(np.array([3.0]), np.array([2.0]), np.zeros(0), np.array([0.5]))
    >>> step = direction(line, at, reduced_solver(line, at.lam / at.s), at.s * at.lam)
    >>> print(step.x.round(4), step.s.round(4), step.lam.round(4))
    [-4.] [-4.] [0.5]
    """
    raise NotImplementedError("not written yet: direction")


def step_length(at: Iterate, step: Iterate, share: float) -> float:
    r"""Return how much of a step keeps slacks and multipliers positive: equation (7).

    Parameters
    ----------
    at, step : Iterate
        The iterate, and the whole step.
    share : float
        $\gamma$: how much of the way to the first wall may be gone.

    Returns
    -------
    float
        1 if no slack and no multiplier decreases.

    Examples
    --------
    >>> at = Iterate(np.zeros(1), np.array([2.0, 3.0]), np.zeros(0), np.array([1.0, 0.5]))
    >>> step = Iterate(np.ones(1), np.array([-4.0, 1.0]), np.zeros(0), np.array([-1.0, -0.1]))
    >>> step_length(at, step, 1.0), step_length(at, step, 0.8)
    (0.5, 0.4)
    """
    raise NotImplementedError("not written yet: step_length")


def starting_point(program: Program) -> Iterate:
    """Return the first iterate: (5) without signs, and then (10).

    Parameters
    ----------
    program : Program
        The problem.

    Returns
    -------
    Iterate
        Its slacks and the multipliers of its inequalities are positive.

    Examples
    --------
    >>> from mlpath.optim._programs import program
    >>> at = starting_point(program([1.0], G=[[-1.0]], h=[-1.5]))
    >>> print(at.x.round(4), at.s.round(4), at.lam.round(4))
    [0.5] [1.] [1.]
    """
    raise NotImplementedError("not written yet: starting_point")


def predictor_corrector(program: Program, at: Iterate) -> Iterate:
    r"""Make one step of Mehrotra's method: equations (7) to (9).

    Parameters
    ----------
    program : Program
        The problem.
    at : Iterate
        The iterate, with positive slacks and multipliers. It is not changed.

    Returns
    -------
    Iterate
        The next one, with positive slacks and multipliers. Without inequalities $\sigma$ is 0.

    Examples
    --------
    >>> from mlpath.optim._programs import program
    >>> line = program([1.0], G=[[-1.0]], h=[-1.0])
    >>> at = predictor_corrector(line, Iterate(np.array([3.0]), np.array([2.0]), np.zeros(0), np.array([0.5])))
    >>> print(at.x.round(4), at.s.round(4), at.lam.round(4))
    [3.] [2.] [1.]
    """
    raise NotImplementedError("not written yet: predictor_corrector")


def certificate(program: Program, at: Iterate, *, tol: float = 1e-7) -> str | None:
    r"""Return what an iterate proves about a problem without solution: equation (11).

    Parameters
    ----------
    program : Program
        The problem.
    at : Iterate
        The iterate.
    tol : float
        $\varepsilon$.

    Returns
    -------
    str or None
        `INFEASIBLE`, or else `UNBOUNDED`, or None if it proves neither.

    Examples
    --------
    >>> from mlpath.optim._programs import infeasible_programs
    >>> wall = infeasible_programs()["wall"]  # x1 + x2 <= 1 and x1 + x2 >= 3
    >>> print(certificate(wall, Iterate(np.zeros(2), np.ones(2), np.zeros(0), np.array([5.0, 5.0]))))
    stopped: the multipliers prove that no point is feasible
    """
    raise NotImplementedError("not written yet: certificate")


def solve(program: Program, *, tol: float = 1e-8, max_iter: int = 100, record_path: bool = False) -> ConstrainedResult:
    r"""Solve a linear or convex quadratic program.

    Begins at `starting_point`, and goes on by `predictor_corrector` until there is a reason to stop.

    Parameters
    ----------
    program : Program
        The problem.
    tol : float
        Converged when $r_e$ and $r_i$, relative to 1 plus the largest entry of $b$ and $h$; $r_d$, relative to 1 plus
        that of $q$; and $s^\top \lambda$, relative to 1 plus the size of the objective, are at most that.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points.

    Returns
    -------
    ConstrainedResult
        `success` is true only for the message `CONVERGED`. The others are `INFEASIBLE`, `UNBOUNDED`, `OUT_OF_STEPS`,
        and `BROKEN` if a step is not finite. `nfev` is `nit + 1`.

    Raises
    ------
    ValueError
        If the program is not finite, $P$ is not symmetric or has a negative eigenvalue, `tol` is not positive, or
        `max_iter < 1`.

    Examples
    --------
    >>> from mlpath.optim._programs import linear_programs
    >>> result = solve(linear_programs()["wyndor"])
    >>> print(result.x.round(4), round(result.fun, 4), result.inequality_multipliers.round(4) + 0.0)
    [2. 6.] -36.0 [0.  1.5 1.  0.  0. ]
    """
    # given: the checks
    _check(program, tol=tol, max_iter=max_iter)
    raise NotImplementedError("not written yet: solve")


def _cholesky(matrix: np.ndarray) -> np.ndarray:  # given: the factor of a matrix with a raised diagonal
    """Return the lower Cholesky factor. Where rounding has spoilt the matrix, the diagonal is raised by more."""
    diagonal = np.diag(matrix)
    raised = np.diag(1e-12 * diagonal + 1e-14 * (diagonal.max(initial=0.0) or 1.0))
    for factor in (1.0, 1e2, 1e4, 1e6):
        try:
            return np.linalg.cholesky(matrix + factor * raised)
        except np.linalg.LinAlgError:
            continue
    return np.eye(len(matrix))


def _reason(program: Program, at: Iterate, tol: float) -> str | None:  # given: the reasons to stop
    """Return why to stop, or None."""
    if not all(np.isfinite(values).all() for values in vars(at).values()):
        return BROKEN
    off = residuals(program, at)
    primal = abs(np.append(off.equality, off.inequality)).max(initial=0.0)
    offsets = abs(np.append(program.b, program.h)).max(initial=0.0)
    dual, gap = abs(off.dual).max(), at.s @ at.lam / (1 + abs(program.fun(at.x)))
    if max(primal / (1 + offsets), dual / (1 + abs(program.q).max()), gap) <= tol:
        return CONVERGED
    return certificate(program, at)


def _result(
    program: Program, at: Iterate, nit: int, message: str, path: list[np.ndarray] | None
) -> ConstrainedResult:  # given: what to report
    """Return the result at the last iterate."""
    return ConstrainedResult(
        at.x,
        program.fun(at.x),
        nit,
        nit + 1,
        message == CONVERGED,
        message,
        None if path is None else np.array(path),
        equality_multipliers=at.nu,
        inequality_multipliers=at.lam,
        violation=program.violation(at.x),
    )


def _check(program: Program, *, tol: float, max_iter: int) -> None:  # given: argument checks
    """Refuse what is no convex program, and what is no tolerance or limit."""
    if not 0 < tol < np.inf:
        raise ValueError(f"tol must be positive and finite, got {tol}")
    if not max_iter >= 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
    for name in "PqAbGh":
        if not np.isfinite(getattr(program, name)).all():
            raise ValueError(f"{name} must be finite, got {getattr(program, name)}")
    if not program.P.any():
        return
    if not np.allclose(program.P, program.P.T, rtol=1e-10, atol=0):
        raise ValueError(f"P must be symmetric, got {program.P}")
    eigenvalues = np.linalg.eigvalsh(program.P)
    if eigenvalues[0] < -1e-9 * abs(eigenvalues).max():
        raise ValueError(f"P must have no negative eigenvalue, got {eigenvalues[0]}")
