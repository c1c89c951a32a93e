r"""ADMM: split a problem in two, solve the halves in turn, and let a price bring them together.

## Idea

Often a sum of two functions is hard to minimise and each of them is easy: least squares, which is linear algebra, and the
1-norm, which is a threshold. So give each a variable of its own, $x$ and $z$, demand that they agree, and pay for
disagreement, as the augmented Lagrangian does. Minimise over $x$, then over $z$, then raise the price where they still
differ: that is the *alternating direction method of multipliers*. It gets to a few digits fast, needs nothing but two
proximal operators, and when the data lie on many machines each of them can work on its own share.

## Maths

We minimise

$$f(x) + g(z) \quad \text{subject to} \quad x = z , \tag{1}$$

with $f$ and $g$ convex; either may be infinite outside a set. The augmented Lagrangian with multipliers $y$ and weight
$\rho > 0$ is, up to a term without $x$ and $z$, with the *scaled* multipliers $u = y / \rho$,

$$f(x) + g(z) + y^\top (x - z) + \tfrac\rho2 \|x - z\|^2 = f(x) + g(z) + \tfrac\rho2 \|x - z + u\|^2 - \tfrac\rho2 \|u\|^2 . \tag{2}$$

**A step.** With the proximal operator of a function, for a step size $a$,

$$\operatorname{prox}_{a f}(v) = \arg\min_x\ f(x) + \tfrac1{2a} \|x - v\|^2 , \tag{3}$$

the minimum of (2) over $x$, then over $z$, and the update of the multipliers are

$$x^+ = \operatorname{prox}_{f / \rho}(z - u), \qquad z^+ = \operatorname{prox}_{g / \rho}(\hat x + u), \qquad u^+ = u + \hat x - z^+ . \tag{4}$$

In the plain method $\hat x$ is $x^+$. *Over-relaxation* goes further in the same direction, with $\alpha$ between 1 and
2, often 1.6:

$$\hat x = \alpha\, x^+ + (1 - \alpha)\, z . \tag{5}$$

**How far is it?** A solution has $x = z$, $-y \in \partial f(x)$ and $y \in \partial g(z)$. The last holds after each
step, as (3) for $z^+$ says $\rho (\hat x + u - z^+) = \rho u^+ \in \partial g(z^+)$. For $x^+$ it says, without
relaxation, $-\rho u^+ - \rho (z^+ - z) \in \partial f(x^+)$. So what is missing are the *primal* and the *dual residual*,

$$r = x^+ - z^+ , \qquad s = \rho\, (z^+ - z) . \tag{6}$$

(With relaxation there is one more term, which vanishes when these do.) Their lengths are compared [1] with the lengths of
what they are differences of; for $n$ entries,

$$\|r\| \le \sqrt n\, \varepsilon_\text{abs} + \varepsilon_\text{rel} \max\{\|x\|, \|z\|\} , \qquad
\|s\| \le \sqrt n\, \varepsilon_\text{abs} + \varepsilon_\text{rel}\, \rho\, \|u\| . \tag{7}$$

ADMM converges for every $\rho > 0$, wherever (1) has a solution with multipliers, since
$\|z - z^\star\|^2 + \|u - u^\star\|^2$ falls with each step. If the sets on which $f$ and $g$ are finite do not meet, $u$
grows for ever, and $r$ does not vanish.

**Balance.** A large $\rho$ punishes disagreement, and $\|r\|$ falls quickly; a small one lets $\|s\|$ fall. So keep them
similar [1]:

$$\rho^+ = \begin{cases} 2 \rho & \|r\| > 10\, \|s\| \\ \rho / 2 & \|s\| > 10\, \|r\| \\ \rho & \text{otherwise,} \end{cases} \tag{8}$$

and remember that what has a meaning of its own is $y = \rho u$: it must not change, so $u$ does. Proofs ask that one
stops changing $\rho$ after some time.

**Least squares**: $f(w) = \frac c2 \|X w - t\|^2$ with a factor $c > 0$. Setting the derivative of (3) to zero,

$$(I + a c\, X^\top X)\, w = v + a c\, X^\top t . \tag{9}$$

The matrix is the same as long as $a$ is: factor it once, and each step costs two triangular solves. If there are fewer
rows than columns, the small matrix will do, by Woodbury's identity

$$(I + a c\, X^\top X)^{-1} = I - a c\, X^\top (I + a c\, X X^\top)^{-1} X . \tag{10}$$

*The lasso* has $c = 1 / n$ and $g = \lambda \|\cdot\|_1$, whose proximal operator is the soft threshold: $z$ has exact
zeros, $x$ has not.

**Basis pursuit**: of all solutions of $A x = b$ the one with the least 1-norm. Here $f$ is 0 on the solutions and
infinite elsewhere, so that (3) is the projection, for every $a$; with the pseudo-inverse $A^+$

$$\operatorname{prox}(v) = v - A^+ (A v - b) . \tag{11}$$

If there is no solution, (11) goes to where $\|A x - b\|$ is least, and ADMM converges to something that was not asked for.

**Consensus.** Let $f = \sum_{i=1}^N f_i$, each with its share of the data. Give each a variable $x_i$ of its own, one row
of a matrix, and let them all equal $z$: then $f$ falls apart and its proximal operator works on each row by itself. The
other one minimises $g(z) + \frac1{2a} \sum_i \|z - v_i\|^2$. As $\sum_i \|z - v_i\|^2 = N \|z - \bar v\|^2+ \text{const}$
with the mean $\bar v$ of the rows,

$$z = \operatorname{prox}_{a g / N}(\bar v) \quad \text{in every row.} \tag{12}$$

## Worked example

- *A step*: $f(x) = \frac12 (x - 3)^2$, $g(z) = |z|$, $\rho = 1$, so $\operatorname{prox}_{f}(v) = (v + 3) / 2$. From
  zeros: $x = 1.5$, $z = S_1(1.5) = 0.5$, $u = 1$. Then $x = (0.5 - 1 + 3) / 2 = 1.25$, $z = S_1(2.25) = 1.25$, $u = 1$:
  $r = 0$, $s = 0.75$. Then $x = z = 1.625$. The solution is $x = z = 2$, with $y = 1$: and $u$ is that already.
- *Relaxed*, with $\alpha = 1.5$, the first step: $x = 1.5$, $\hat x = 2.25$, $z = 1.25$, $u = 1$.
- *Balance*: $\|r\| = 0.3$, $\|s\| = 0.02$, $\rho = 4$, $u = 0.5$. Then $\rho = 8$ and $u = 0.25$: $y = 2$ before and after.
- *Basis pursuit*: $A = (1, 2)$, $b = 2$. $A^+ = (0.2, 0.4)^\top$. From $v = 0$: $x = (0.4, 0.8)$. The solution is $(0, 1)$.
- *Consensus* of two rows, $v = (1, 4)$, $g(z) = |z|$, $a = 1$: the mean $2.5$, lowered by $1 / 2$: both are 2.

## Plan

- `step` makes the step (4), with (5).
- `residuals` returns the lengths of (6).
- `tolerances` returns the right sides of (7).
- `balance` returns the next weight by (8), and the state with its multipliers.
- `admm` puts them together.
- `least_squares_prox` returns the proximal operator (9), which factors once for each step size, by (10) where that is
  smaller.
- `basis_pursuit` finds the solution of least 1-norm, by (11), or says that there is none.
- `consensus_prox` turns a proximal operator into that of (12).

Given are `lasso` and `consensus`, which are your parts put together.

## Pitfalls

- It converges to a wrong point, or not at all, once the weight has changed.
- Each step takes as long as the first.
- The dual residual is zero from the start.
- It stops at once, where the numbers are small, or never, where they are large.
- The weights of a lasso are small and not one of them is zero.
- It says that it has converged, and the equations do not hold.

## Cost

Least squares: O(m²(m + k)) once for each $\rho$, with the smaller and the larger number $m$ and $k$ of rows and columns,
then O(m k) a step, or O(m²) with the products kept. Some tens to hundreds of steps to four digits, and many more to ten.
On the lasso the benchmark finds it to take from a quarter to five times as long as scikit-learn's coordinate descent at
equal gaps: less where features are correlated, which it does not mind; more where there are thousands of them, since each
step multiplies by all columns twice while coordinate descent changes few weights.

## Go further

- *Experiment*: count the steps to (7) for $\rho$ from $10^{-3}$ to $10^3$, with and without (8). How far from the best
  does one get?
- *Stretch*: robust regression, $\|A x - b\|_1$: let $z = A x - b$ and derive the steps for that.

What is not here: the general constraint $A x + B z = c$, and certificates of infeasibility.

## References

1. Boyd, Parikh, Chu, Peleato & Eckstein (2011), Distributed optimization and statistical learning via the alternating
   direction method of multipliers, https://doi.org/10.1561/2200000016
2. Eckstein & Bertsekas (1992), On the Douglas-Rachford splitting method and the proximal point algorithm for maximal
   monotone operators, https://doi.org/10.1007/BF01581204
3. Chen, Donoho & Saunders (1998), Atomic decomposition by basis pursuit, https://doi.org/10.1137/S1064827596304010
"""

# 8 parts to write. Test them with: pytest exercises/optim/admm.py
# To be written without: scipy.optimize, sklearn

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.optim.proximal import Prox, soft_threshold

CONVERGED = "converged: both residuals are within their tolerances"
DIVERGED = "diverged: a residual is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the residuals were small"
INFEASIBLE = "stopped: the equations have no solution"


@dataclass(frozen=True)
class State:
    """Where ADMM is.

    Attributes
    ----------
    x, z : ndarray
        The two copies of the variable, of any shape.
    u : ndarray
        The scaled multipliers.
    """

    x: Float[np.ndarray, "*shape"]
    z: Float[np.ndarray, "*shape"]
    u: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class AdmmResult:
    """What ADMM ended with.

    Attributes
    ----------
    x, z, u : ndarray
        The last state.
    rho : float
        The weight with which the last step was made.
    nit : int
        Number of steps made.
    success : bool
        Whether it stopped because it had converged.
    message : str
        Why it stopped.
    primal, dual : ndarray
        The lengths of the residuals after each step.
    """

    x: Float[np.ndarray, "*shape"]
    z: Float[np.ndarray, "*shape"]
    u: Float[np.ndarray, "*shape"]
    rho: float
    nit: int
    success: bool
    message: str
    primal: Float[np.ndarray, " nit"]
    dual: Float[np.ndarray, " nit"]


def step(state: State, prox_f: Prox, prox_g: Prox, *, rho: float, relaxation: float = 1.0) -> State:
    r"""Make one step of ADMM: equations (4) and (5).

    Parameters
    ----------
    state : State
        Where to step from. Its arrays are not changed. (Its `x` plays no part.)
    prox_f, prox_g : callable
        The proximal operators (3). Each takes a point and a step size $a$, and returns the proximal point; they are called once
        each.
    rho : float
        The weight $\rho$, positive.
    relaxation : float
        The $\alpha$ of (5).

    Returns
    -------
    State
        $x^+$ (not $\hat x$), $z^+$ and $u^+$.

    Examples
    --------
    >>> start = State(np.zeros(1), np.zeros(1), np.zeros(1))
    >>> step(start, lambda v, a: (v + a * 3) / (1 + a), soft_threshold, rho=1.0, relaxation=1.5)
    State(x=array([1.5]), z=array([1.25]), u=array([1.]))
    """
    raise NotImplementedError("not written yet: step")


def residuals(before: State, after: State, rho: float) -> tuple[float, float]:
    """Return the lengths of the primal and of the dual residual, equation (6).

    Parameters
    ----------
    before, after : State
        Where a step began and ended.
    rho : float
        The weight with which it was made.

    Returns
    -------
    tuple of float
        The Euclidean lengths, over all entries whatever the shape: the primal residual's first.

    Examples
    --------
    >>> before, after = State(*np.array([[9.0], [0.5], [1.0]])), State(*np.array([[1.5], [1.25], [2.0]]))
    >>> residuals(before, after, 4.0)
    (0.25, 3.0)
    """
    raise NotImplementedError("not written yet: residuals")


def tolerances(state: State, rho: float, *, eps_abs: float, eps_rel: float) -> tuple[float, float]:
    """Return what the residuals' lengths may be at most: the right sides of (7).

    Parameters
    ----------
    state : State
        Where a step has ended.
    rho : float
        The weight with which it was made.
    eps_abs, eps_rel : float
        The absolute and the relative tolerance.

    Returns
    -------
    tuple of float
        The tolerances for the primal and for the dual residual.

    Examples
    --------
    >>> tolerances(State(*np.array([[3.0, 4.0], [0.0, 4.0], [0.0, 0.5]])), 4.0, eps_abs=0.0, eps_rel=0.1)
    (0.5, 0.2)
    """
    raise NotImplementedError("not written yet: tolerances")


def balance(state: State, rho: float, primal: float, dual: float) -> tuple[State, float]:
    """Return the weight by equation (8), and the state with the multipliers scaled to it.

    Parameters
    ----------
    state : State
        Where a step has ended. Its arrays are not changed.
    rho : float
        The weight with which it was made.
    primal, dual : float
        The lengths of its residuals.

    Returns
    -------
    tuple of State and float
        The state from which to make the next step, with the same `x` and `z`, and the weight with which to make it.

    Examples
    --------
    >>> balance(State(np.array([1.0]), np.array([1.3]), np.array([0.5])), 4.0, 0.3, 0.02)
    (State(x=array([1.]), z=array([1.3]), u=array([0.25])), 8.0)
    """
    raise NotImplementedError("not written yet: balance")


def admm(
    prox_f: Prox,
    prox_g: Prox,
    start: Float[np.ndarray, "*shape"],
    *,
    rho: float = 1.0,
    relaxation: float = 1.0,
    balance_until: int = 0,
    eps_abs: float = 1e-8,
    eps_rel: float = 1e-6,
    max_iter: int = 1000,
) -> AdmmResult:
    """Minimise the sum of two functions by ADMM.

    Parameters
    ----------
    prox_f, prox_g : callable
        Their proximal operators: each takes a point and a step size, and returns the proximal point.
    start : ndarray
        The first `x` and `z`, of any shape; the first multipliers are zeros. It is not changed.
    rho : float
        The first weight, positive.
    relaxation : float
        The factor of (5), between 0 and 2.
    balance_until : int
        The weight is balanced by (8) after each step up to the one of this number, save where it stops.
    eps_abs, eps_rel : float
        The tolerances of (7).
    max_iter : int
        The largest number of steps.

    Returns
    -------
    AdmmResult
        It stops after the first step for which one of these holds, looked at in this order: a residual is not finite,
        `DIVERGED`; both are within their tolerances (equality included), `CONVERGED`; it is the step `max_iter`,
        `OUT_OF_STEPS`. `success` is true only for `CONVERGED`. At least one step is made. `u` and `rho` are those of the
        last step: nothing is balanced after it.

    Raises
    ------
    ValueError
        If `start` is not finite or empty, `rho` not positive and finite, `relaxation` not strictly between 0 and 2, a tolerance negative, or
        `max_iter` below 1.

    Examples
    --------
    >>> result = admm(lambda v, a: (v + a * 3) / (1 + a), soft_threshold, np.zeros(1))
    >>> result.z.round(4), result.u.round(4), result.success
    (array([2.]), array([1.]), True)
    """
    # given: the checks
    _check(start, rho, relaxation, eps_abs, eps_rel, max_iter)
    raise NotImplementedError("not written yet: admm")


def least_squares_prox(
    features: Float[np.ndarray, "n_samples dim"], targets: Float[np.ndarray, " n_samples"], factor: float
) -> Prox:
    r"""Return the proximal operator of $\frac c2 \|X w - t\|^2$, by equation (9) or (10).

    Parameters
    ----------
    features, targets : ndarray
        The data $X$ and $t$. They are not changed.
    factor : float
        The $c$, positive.

    Returns
    -------
    callable
        Takes a point of shape (dim,) and a positive step size $a$, which may be another at each call, and returns the proximal
        point. A matrix is formed and factored only where the step size is not that of the call before, and it is the
        smaller one: of shape (n_samples, n_samples) if there are fewer rows than columns.

    Raises
    ------
    ValueError
        If the data are not finite or do not fit, or `factor` is not positive and finite.

    Examples
    --------
    >>> prox = least_squares_prox(np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([1.0, 3.0]), 0.5)
    >>> prox(np.zeros(2), 2.0).round(4)
    array([0.7273, 0.9091])
    """
    # given: the checks
    _check_data("features", features, "targets", targets)
    if not 0 < factor < np.inf:
        raise ValueError(f"factor must be positive and finite, got {factor}")
    raise NotImplementedError("not written yet: least_squares_prox")


def lasso(  # given: your parts together
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alpha: float,
    *,
    relaxation: float = 1.6,
    eps_abs: float = 0.0,
    eps_rel: float = 1e-6,
    max_iter: int = 5000,
) -> AdmmResult:
    r"""Fit the lasso $\frac1{2n} \|X w - t\|^2 + \lambda \|w\|_1$, without intercept.

    Parameters
    ----------
    features, targets : ndarray
        The data.
    alpha : float
        The penalty's factor, positive.
    relaxation, eps_abs, eps_rel, max_iter : float or int
        As for `admm`. The first weight is the mean curvature of the first term; it is balanced over the first 100 steps.

    Returns
    -------
    AdmmResult
        The weights are its `z`, which has exact zeros.

    Raises
    ------
    ValueError
        If the data are not finite or do not fit, or `alpha` is not positive and finite.

    Examples
    --------
    >>> features, targets = np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 2.0]]), np.array([3.0, 1.0, 1.0])
    >>> lasso(features, targets, 0.5).z.round(3)
    array([1.25 , 0.417])
    """
    prox_f = least_squares_prox(features, targets, 1 / len(targets))
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    return admm(
        prox_f,
        lambda v, a: soft_threshold(v, a * alpha),
        np.zeros(features.shape[1]),
        rho=float((features**2).mean()) or 1.0,
        relaxation=relaxation,
        balance_until=100,
        eps_abs=eps_abs,
        eps_rel=eps_rel,
        max_iter=max_iter,
    )


def basis_pursuit(
    matrix: Float[np.ndarray, "n_rows dim"],
    rhs: Float[np.ndarray, " n_rows"],
    *,
    rho: float = 1.0,
    max_iter: int = 5000,
) -> AdmmResult:
    r"""Find the solution of linear equations that has the least 1-norm, by ADMM with the projection (11).

    Parameters
    ----------
    matrix, rhs : ndarray
        The equations $A x = b$. Rows may depend on each other.
    rho : float
        The weight, positive; it is not balanced.
    max_iter : int
        The largest number of steps.

    Returns
    -------
    AdmmResult
        That of `admm` from zeros, with its default tolerances: `f` is that of the equations, so `x` solves them, and
        `z` has exact zeros. But if no point solves them, no step is made: `x` and `z` are $A^+ b$, `u` is zeros, `rho` as given, `nit` is 0,
        `success` false, `message` `INFEASIBLE`, and `primal` and `dual` are empty. They count as unsolvable if an entry of
        $A A^+ b - b$ exceeds $10^{-6}$ times the largest of $b$, in size.

    Raises
    ------
    ValueError
        If the equations are not finite or do not fit, or `rho` or `max_iter` is refused by `admm`, which is
        not called where they are unsolvable.

    Examples
    --------
    >>> basis_pursuit(np.array([[1.0, 2.0]]), np.array([2.0])).z.round(4)
    array([0., 1.])
    >>> basis_pursuit(np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([2.0, 5.0])).message
    'stopped: the equations have no solution'
    """
    # given: the checks
    _check_data("matrix", matrix, "rhs", rhs)
    raise NotImplementedError("not written yet: basis_pursuit")


def consensus_prox(prox: Prox) -> Prox:
    """Turn the proximal operator of g into that of 'all rows are equal, and g of that row': equation (12).

    Parameters
    ----------
    prox : callable
        The proximal operator of $g$: takes a point of shape (dim,) and a step size.

    Returns
    -------
    callable
        Takes a matrix with a row for each block, and a step size; returns a matrix of the same shape. It is a new array.

    Examples
    --------
    >>> consensus_prox(soft_threshold)(np.array([[1.0, 0.2], [4.0, -0.4]]), 1.0)
    array([[ 2., -0.],
           [ 2., -0.]])
    """
    raise NotImplementedError("not written yet: consensus_prox")


def consensus(  # given: your parts together
    proxes: Sequence[Prox], prox_g: Prox, start: Float[np.ndarray, " dim"], **options: float
) -> AdmmResult:
    """Minimise a sum over blocks, each of which is asked for its own proximal points only, plus one more function.

    Parameters
    ----------
    proxes : sequence of callable
        The proximal operator of each block's function.
    prox_g : callable
        That of the other function.
    start : ndarray
        The first point of all blocks.
    **options : float
        As for `admm`.

    Returns
    -------
    AdmmResult
        Of matrices, with a row for each block. The rows of `z` are equal.

    Examples
    --------
    >>> proxes = [lambda v, a, t=t: (v + a * t) / (1 + a) for t in (2.0, 6.0)]
    >>> consensus(proxes, soft_threshold, np.zeros(1)).z.round(4)
    array([[3.5],
           [3.5]])
    """

    def blocks(v: Float[np.ndarray, "n_blocks dim"], step_size: float) -> Float[np.ndarray, "n_blocks dim"]:
        return np.stack([prox(row, step_size) for prox, row in zip(proxes, v, strict=True)])

    return admm(blocks, consensus_prox(prox_g), np.tile(start, (len(proxes), 1)), **options)  # pyright: ignore[reportArgumentType]


def _check(  # given
    start: np.ndarray, rho: float, relaxation: float, eps_abs: float, eps_rel: float, max_iter: int
) -> None:
    """Refuse what ADMM cannot work with."""
    if not start.size or not np.isfinite(start).all():
        raise ValueError(f"start must be finite and not empty, got {start}")
    if not 0 < rho < np.inf:
        raise ValueError(f"rho must be positive and finite, got {rho}")
    if not 0 < relaxation < 2:
        raise ValueError(f"relaxation must lie between 0 and 2, got {relaxation}")
    if not (eps_abs >= 0 and eps_rel >= 0):
        raise ValueError(f"eps_abs and eps_rel must not be negative, got {eps_abs} and {eps_rel}")
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")


def _check_data(name: str, rows: np.ndarray, name_of_values: str, values: np.ndarray) -> None:  # given
    """Refuse what is no matrix with a number for each of its rows."""
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be a matrix of finite numbers, got {rows}")
    if values.shape != rows.shape[:1] or not np.isfinite(values).all():
        raise ValueError(f"{name_of_values} must have a finite number for each of the {len(rows)} rows, got {values}")
