r"""Coordinate descent: one variable at a time, each to its best.

## Idea

To minimise over all variables at once is hard; over one of them, with the others held, it is often a formula. So do
that, one variable after the other, over and over. Each step is tiny and costs next to nothing if one keeps what the
steps have in common, such as the residual. For the lasso this is the method of choice: the formula is a soft threshold,
most weights are zero and stay so, and along a path of penalties each solution is a good start for the next.

## Maths

**Quadratics.** Let $f(x) = \frac12 x^\top H x - b^\top x$ with $H$ symmetric and positive definite. As a function of
$x_j$ alone its derivative is $H_{j:} x - b_j$, and it is least at

$$x_j \leftarrow x_j + \frac{b_j - H_{j:}\, x}{H_{jj}} , \tag{1}$$

which lowers $f$ by $(b_j - H_{j:} x)^2 / (2 H_{jj})$. A *sweep* takes the coordinates in turn, each with the newest
values of the others. With $H$ split into its part $D + E$ on and below the diagonal and the rest, $E^\top$, a cyclic
sweep is the method of Gauss and Seidel,

$$(D + E)\, x^{+} = b - E^\top x , \tag{2}$$

so errors are multiplied by $-(D + E)^{-1} E^\top$, and in the long run by its spectral radius. Drawing the coordinates
at random instead gives, since $\sum_j (b_j - H_{j:} x)^2 = \|\nabla f\|^2 \ge 2 \mu (f - f^\star)$ with the least
eigenvalue $\mu$ of $H$, for each of the $d$ draws of a sweep

$$\mathbb{E}\,[f(x^+) - f^\star] \le \Bigl(1 - \frac{\mu}{d\, \max_j H_{jj}}\Bigr) (f(x) - f^\star) . \tag{3}$$

**Elastic net**, with $n$ samples, features $X$, targets $y$, and two penalties:

$$F(w) = \tfrac1{2n} \|y - X w\|^2 + \lambda \|w\|_1 + \tfrac{\mu}2 \|w\|^2 . \tag{4}$$

Let $r = y - X w$, $c_j = x_j^\top r / n$ the *correlation* of feature $j$ with it, and $q_j = \|x_j\|^2 / n$. In $w_j$
alone, (4) is $\frac{q_j + \mu}{2} w_j^2 - (c_j + q_j w_j^{\text{old}})\, w_j + \lambda |w_j|$ and a constant, which is
least at

$$w_j \leftarrow \frac{S_\lambda(c_j + q_j w_j)}{q_j + \mu} , \qquad S_\lambda(z) = \operatorname{sign}(z) \max\{|z| - \lambda, 0\} . \tag{5}$$

All that (5) needs is $c_j$. There are two ways to have it. Keep the **residual**, and after a change of $w_j$ by
$\delta$ put

$$r \leftarrow r - \delta\, x_j : \tag{6}$$

O($n$) a coordinate. Or keep all **correlations**, and with the Gram matrix $G = X^\top X / n$ put

$$c \leftarrow c - \delta\, G_{:j} : \tag{7}$$

O($d$), and nothing at all for a weight that stays, as most do.

**Optimality.** $w$ is a minimum if and only if, for all $j$,

$$c_j - \mu w_j = \lambda \operatorname{sign}(w_j) \ \text{ if } w_j \ne 0, \qquad |c_j| \le \lambda \ \text{ if } w_j = 0 . \tag{8}$$

How far one is from it is told by the duality gap: the residual, scaled until no correlation exceeds $\lambda$, gives a
lower bound of $F^\star$ (see `optim/proximal`). It is given here.

**Why it works at all.** At a point where no single coordinate can improve, a smooth function is at a minimum, since all
partial derivatives are zero. With a penalty that is a *sum over coordinates* this stays true: (8) is one condition for
each. For other kinks it fails. At $(1, 1)$, $|x_1 - x_2| + \frac14 (x_1 + x_2)^2$ cannot be lowered along either axis,
for moving along one costs 1 at the kink and gains just 1; yet it is least at the origin.

**While the signs stay, it is linear.** Let $A$ be the weights that are not zero and $s$ their signs. Then (8) says

$$(G_{AA} + \mu I)\, (w_A - w_A^{\text{old}}) = c_A - \mu w_A^{\text{old}} - \lambda s , \tag{9}$$

and one solution of this small system does what many sweeps would. But on the way from the old weights to the new ones a
weight may reach zero. There stop, leave it zero, and let the sweeps go on: beyond, (9) is that of other signs.

**A path** of decreasing $\lambda$ begins where all weights are zero, $\lambda_{\max} = \|X^\top y\|_\infty / n$, and
starts each problem from the last solution. For the next value $\lambda$ after $\lambda'$, most features can be left out
beforehand: while the penalty shrinks by $\lambda' - \lambda$, a correlation seldom grows by more. So those that could
not reach $\lambda$ even then may be expected to keep $w_j = 0$. The **strong rule** [3] keeps only the features with

$$|c_j| \ge \lambda - (\lambda' - \lambda) = 2 \lambda - \lambda' . \tag{10}$$

It is a guess, and sometimes wrong: so at the end all features are checked by (8), and those that violate it are let in.

## Worked example

- *Quadratic*: $H = \begin{pmatrix} 2 & 1 \\ 1 & 4 \end{pmatrix}$, $b = (3, 5)$, from $(0, 0)$. $x_1 = 3/2$, then
  $x_2 = (5 - 1.5)/4 = 0.875$. The next sweep: $x_1 = 1.0625$, $x_2 = 0.984$. The solution is $(1, 1)$, and errors
  shrink by $1/8$, the spectral radius.
- *Lasso*: $X$ with the columns $(1, 1)$ and $(1, -1)$, $y = (3, 1)$, $\lambda = 0.5$, $n = 2$. $q = (1, 1)$ and
  $c = (2, 1)$. $w_1 = S_{0.5}(2) = 1.5$, $r = (1.5, -0.5)$, and $c_2 = 1$ still: the columns are orthogonal.
  $w_2 = 0.5$, $r = (1, 0)$, $c = (0.5, 0.5)$: (8) holds.
- *Signs*: $G = \begin{pmatrix} 1 & 0.5 \\ 0.5 & 2 \end{pmatrix}$, $\lambda = 0.5$, at $w = (1.5, 0.125)$ with
  $c = (0.4375, 0.5)$. The right side of (9) is $(-0.0625, 0)$, the move $(-0.0714, 0.0179)$, and no sign changes.
- *Strong rule*: at $\lambda' = 1$ the correlations are $(1, 0.7, -0.4)$. For $\lambda = 0.8$ the bound is $0.6$: the
  third feature is left out.

## Plan

- `quadratic_sweep` goes once through coordinates in a given order, by (1).
- `lasso_coordinate` returns the best value of one weight, by (5).
- `residual_sweep` goes once through all weights and keeps the residual, by (5) and (6).
- `gram_sweep` does the same with correlations, by (5) and (7).
- `orthant_step` solves (9), and goes as far as the signs last.
- `elastic_net` makes residual sweeps until the duality gap is small.
- `strong_set` says which features to keep, by (10).
- `lasso_path` fits a whole path, with warm starts, by sweeps and such steps on the features that matter.

Given are `minimize_quadratic`, which sweeps cyclically or at random until the gradient is small, `duality_gap`, and
`grow`, which takes features into a working set and extends its Gram matrix.

## Pitfalls

- All coordinates are computed from the old values: that is Jacobi's method, which may diverge.
- The residual is right at first, and a little less with every sweep.
- The first weights are right and the fit is not.
- A constant column, which centring has made zero, turns everything into NaN.
- Two equal columns share a weight in any proportion: solutions may differ although the fits are equal.
- Features are missing from the path that should be there.

## Cost

A residual sweep is O(n_samples · dim), as a gradient is. A sweep by correlations is O(dim) for each weight that
changes; its Gram matrix costs O(n_samples · dim²) once, and (9) the cube of the number of weights that are not zero. In
Python each coordinate costs one or two microseconds on top, which is why the path sweeps seldom, and only over the
working set: on paths of 100 penalties it takes 1.6 to 2.6 times as long as scikit-learn's compiled one.

## Go further

- *Experiment*: count sweeps on columns with correlations of 0, 0.9 and 0.99. What does a random order change?
- *Stretch*: the gap gives *safe* rules: a sphere around theta contains the dual optimum, and a feature whose
  correlation stays below lambda in all of it can be left out for certain [4].

## References

1. Wright (2015), Coordinate descent algorithms, https://arxiv.org/abs/1502.04759
2. Friedman, Hastie & Tibshirani (2010), Regularization paths for generalized linear models via coordinate descent,
   https://doi.org/10.18637/jss.v033.i01
3. Tibshirani et al. (2012), Strong rules for discarding predictors in lasso-type problems,
   https://arxiv.org/abs/1011.2234
4. Ndiaye, Fercoq, Gramfort & Salmon (2017), Gap safe screening rules for sparsity enforcing penalties,
   https://arxiv.org/abs/1611.05780
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

GAP_REACHED = "converged: the duality gap is at most tol"
OUT_OF_SWEEPS = "stopped: max_iter sweeps were made before the gap fell to tol"


@dataclass(frozen=True)
class ElasticNetResult(OptimizeResult):
    """What a fit of the elastic net ended with: as `OptimizeResult`, and a certificate.

    Attributes
    ----------
    gap : float
        The duality gap: the objective is nowhere lower by more.
    """

    gap: float = np.inf


@dataclass(frozen=True)
class LassoPath:
    """The solutions for a sequence of penalties.

    Attributes
    ----------
    alphas : ndarray
        The penalties, largest first.
    weights : ndarray
        The weights for each of them, one solution a row.
    gaps : ndarray
        The duality gap of each.
    success : bool
        Whether all gaps are within tol.
    """

    alphas: Float[np.ndarray, " n_alphas"]
    weights: Float[np.ndarray, "n_alphas dim"]
    gaps: Float[np.ndarray, " n_alphas"]
    success: bool


@dataclass(frozen=True)
class WorkingSet:
    """The features that take part in the sweeps.

    Attributes
    ----------
    indices : ndarray
        Which they are, in the order in which they came.
    columns : ndarray of shape (n_samples, n_working)
        Their columns.
    gram : ndarray of shape (n_working, n_working)
        Their Gram matrix, divided by the number of samples.
    """

    indices: np.ndarray
    columns: np.ndarray
    gram: np.ndarray


def quadratic_sweep(
    hessian: Float[np.ndarray, "dim dim"],
    linear: Float[np.ndarray, " dim"],
    x: Float[np.ndarray, " dim"],
    order: Iterable[int],
) -> Float[np.ndarray, " dim"]:
    """Minimise a quadratic along each of some coordinates in turn, by equation (1).

    Parameters
    ----------
    hessian : ndarray
        The matrix $H$, symmetric with a positive diagonal.
    linear : ndarray
        The vector $b$.
    x : ndarray
        Where to begin. It is not changed.
    order : iterable of int
        The coordinates, in the order in which they are taken; some may come several times, or not at all.

    Returns
    -------
    ndarray
        The point after the sweep, a new array.

    Examples
    --------
    >>> hessian, linear = np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([3.0, 5.0])
    >>> quadratic_sweep(hessian, linear, np.zeros(2), [0, 1, 0])
    array([1.0625, 0.875 ])
    """
    x = x.copy()
    for j in order:
        x[j] += (linear[j] - hessian[j] @ x) / hessian[j, j]
    return x


def minimize_quadratic(  # given
    hessian: Float[np.ndarray, "dim dim"],
    linear: Float[np.ndarray, " dim"],
    start: ArrayLike,
    *,
    order: Literal["cyclic", "random"] = "cyclic",
    rng: np.random.Generator | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    r"""Minimise $\frac12 x^\top H x - b^\top x$ by sweeps over its coordinates.

    Parameters
    ----------
    hessian, linear : ndarray
        The matrix $H$, symmetric and positive definite, and the vector $b$.
    start : array_like
        Where to begin; not changed.
    order : {"cyclic", "random"}
        From the first to the last; or, in each sweep, as many draws as there are coordinates, all equally likely and
        independent, so that a sweep takes some several times and others not at all.
    rng : numpy.random.Generator, optional
        Source of randomness, which the random order needs.
    tol : float
        Converged when no component of the gradient exceeds it.
    max_iter : int
        The largest number of sweeps.
    record_path : bool
        Whether to keep the points after each sweep.

    Returns
    -------
    OptimizeResult
        With the fields `x` and `fun`, the last point and the objective there; `nit` sweeps; `nfev`, 1; `success` and
        `message` as gradient descent's `stopping` has them; `path`, None unless `record_path` is set, with `nit + 1`
        rows, from the start to `x`.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by gradient descent's `check_arguments`, `hessian` or `linear` does
        not fit, a diagonal entry is not positive, or `order` is unknown or lacks `rng`.

    Examples
    --------
    >>> hessian, linear = np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([3.0, 5.0])
    >>> result = minimize_quadratic(hessian, linear, [0.0, 0.0])
    >>> result.x.round(4), result.nit
    (array([1., 1.]), 8)
    """
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    dim = len(x)
    if hessian.shape != (dim, dim) or not (np.diag(hessian) > 0).all():
        raise ValueError(f"hessian must have shape {(dim, dim)} and a positive diagonal, got {hessian}")
    if linear.shape != (dim,):
        raise ValueError(f"linear must have shape {(dim,)}, got {linear.shape}")
    _check_order(order, rng)
    nit, path = 0, [x]
    while True:
        slope = hessian @ x - linear
        value = float(x @ (slope - linear)) / 2
        if (message := stopping(value, slope, nit, tol=tol, max_iter=max_iter)) is not None:
            break
        draws = range(dim) if rng is None or order == "cyclic" else rng.integers(dim, size=dim)
        x, nit = quadratic_sweep(hessian, linear, x, draws), nit + 1
        if record_path:
            path.append(x)
    return OptimizeResult(x, value, nit, 1, message == CONVERGED, message, np.array(path) if record_path else None)


def lasso_coordinate(correlation: float, weight: float, curvature: float, l1: float, l2: float = 0.0) -> float:
    """Return the best value of one weight while the others stay, by equation (5).

    Parameters
    ----------
    correlation : float
        The feature's correlation with the residual, $c_j$.
    weight : float
        The present weight $w_j$.
    curvature : float
        The feature's mean square $q_j$.
    l1, l2 : float
        The penalties.

    Returns
    -------
    float
        The new weight; 0 if the feature is 0 throughout.

    Examples
    --------
    >>> (
    ...     lasso_coordinate(2.0, 0.0, 1.0, 0.5),
    ...     lasso_coordinate(-0.25, 0.5, 2.0, 0.5),
    ...     lasso_coordinate(0.1, 0.2, 1.0, 0.5),
    ... )
    (1.5, 0.125, 0.0)
    """
    target = correlation + curvature * weight
    if abs(target) <= l1:  # a feature of zeros too, whose target is 0
        return 0.0
    return (target - l1 if target > 0 else target + l1) / (curvature + l2)


def residual_sweep(
    features: Float[np.ndarray, "n_samples dim"],
    residual: Float[np.ndarray, " n_samples"],
    weights: Float[np.ndarray, " dim"],
    order: Iterable[int],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[Float[np.ndarray, " n_samples"], Float[np.ndarray, " dim"]]:
    """Set each of some weights to its best in turn, and keep the residual, by equations (5) and (6).

    Parameters
    ----------
    features : ndarray
        The matrix $X$.
    residual : ndarray
        The residual that belongs to `weights`. It is not changed.
    weights : ndarray
        Where to begin. They are not changed.
    order : iterable of int
        The weights, in the order in which they are taken.
    l1, l2 : float
        The penalties.

    Returns
    -------
    tuple of ndarray
        The residual and the weights after the sweep, new arrays.

    Examples
    --------
    >>> features, targets = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([3.0, 1.0])
    >>> residual_sweep(features, targets, np.zeros(2), [0, 1], l1=0.5)
    (array([1., 0.]), array([1.5, 0.5]))
    """
    residual, weights = residual.copy(), weights.copy()
    for j in order:
        column = features[:, j]
        correlation, curvature = float(column @ residual) / len(column), float(column @ column) / len(column)
        best = lasso_coordinate(correlation, float(weights[j]), curvature, l1, l2)
        residual -= (best - float(weights[j])) * column
        weights[j] = best
    return residual, weights


def gram_sweep(
    gram: Float[np.ndarray, "dim dim"],
    correlations: Float[np.ndarray, " dim"],
    weights: Float[np.ndarray, " dim"],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    """Set each weight to its best in turn, and keep all correlations, by equations (5) and (7).

    Parameters
    ----------
    gram : ndarray
        The matrix $G$, symmetric.
    correlations : ndarray
        The correlations that belong to `weights`. They are not changed.
    weights : ndarray
        Where to begin. They are not changed.
    l1, l2 : float
        The penalties.

    Returns
    -------
    tuple of ndarray
        The correlations and the weights after the sweep, new arrays.

    Examples
    --------
    >>> gram_sweep(np.array([[1.0, 0.5], [0.5, 2.0]]), np.array([2.0, 1.5]), np.zeros(2), l1=0.5)
    (array([0.4375, 0.5   ]), array([1.5  , 0.125]))
    """
    correlations, found = correlations.copy(), weights.tolist()
    for j, weight in enumerate(found):
        best = lasso_coordinate(correlations.item(j), weight, gram.item(j, j), l1, l2)
        if best != weight:
            correlations -= (best - weight) * gram[j]
            found[j] = best
    return correlations, np.array(found, dtype=weights.dtype)


def orthant_step(
    gram: Float[np.ndarray, "dim dim"],
    correlations: Float[np.ndarray, " dim"],
    weights: Float[np.ndarray, " dim"],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    """Go to the minimum for the present signs, or as far towards it as the signs last: equation (9).

    Parameters
    ----------
    gram : ndarray
        The matrix $G$, symmetric.
    correlations : ndarray
        The correlations that belong to `weights`. They are not changed.
    weights : ndarray
        Where to begin. They are not changed.
    l1, l2 : float
        The penalties.

    Returns
    -------
    tuple of ndarray
        The correlations and the weights after the step, new arrays. Weights of zero stay, and a weight that would
        change its sign becomes exactly zero. Where the matrix of (9) is singular, nothing changes.

    Examples
    --------
    >>> gram = np.array([[1.0, 0.5], [0.5, 2.0]])
    >>> orthant_step(gram, np.array([0.4375, 0.5]), np.array([1.5, 0.125]), l1=0.5)[1].round(4)
    array([1.4286, 0.1429])
    """
    active = np.flatnonzero(weights)
    old = weights[active]
    matrix = gram[np.ix_(active, active)] + l2 * np.eye(len(active))
    slope = correlations[active] - l2 * old - l1 * np.sign(old)
    try:
        move = np.linalg.solve(matrix, slope)
    except np.linalg.LinAlgError:
        move = np.zeros_like(old)
    turns = old * move < 0
    lasts = np.where(turns, -old / np.where(turns, move, 1), np.inf)
    # (9) makes the quotient 1, but for what a nearly singular matrix does to it
    share = min(1.0, float(slope @ move) / max(float(move @ matrix @ move), 1e-300), lasts.min(initial=np.inf))
    new = np.where(lasts <= share, 0, old + max(share, 0.0) * move).astype(weights.dtype)
    found = weights.copy()
    found[active] = new
    return correlations - gram[:, active] @ (new - old), found


def duality_gap(  # given
    targets: Float[np.ndarray, " n_samples"],
    residual: Float[np.ndarray, " n_samples"],
    correlations: Float[np.ndarray, " dim"],
    weights: Float[np.ndarray, " dim"],
    *,
    l1: float,
    l2: float = 0.0,
) -> tuple[float, float]:
    """Return the elastic net's objective (4), and how far it is from its least value at most.

    Parameters
    ----------
    targets : ndarray
        The vector $y$.
    residual, correlations, weights : ndarray
        The point, with what belongs to it, of all features.
    l1, l2 : float
        The penalties.

    Returns
    -------
    tuple of float
        Objective and gap.

    Examples
    --------
    >>> features, targets = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([3.0, 1.0])
    >>> duality_gap(targets, np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([1.5, 0.5]), l1=0.5)
    (1.25, 0.0)
    """
    n_samples, squared = len(targets), l2 * float(weights @ weights)
    steepest = float(abs(correlations - l2 * weights).max())
    share = min(1.0, l1 / steepest) if steepest > 0 else 1.0
    mean_square = float(residual @ residual) / n_samples
    value = (mean_square + squared) / 2 + l1 * float(abs(weights).sum())
    bound = share * float(targets @ residual) / n_samples - share**2 * (mean_square + squared) / 2
    return value, value - bound


def elastic_net(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alpha: float,
    *,
    l1_ratio: float = 1.0,
    order: Literal["cyclic", "random"] = "cyclic",
    rng: np.random.Generator | None = None,
    tol: float = 1e-8,
    max_iter: int = 1000,
    record_path: bool = False,
) -> ElasticNetResult:
    r"""Fit the elastic net (4), without intercept, by residual sweeps from zero.

    Parameters
    ----------
    features, targets : ndarray
        The data, centred if there should be an intercept. They are not changed. A column of zeros gets the weight 0.
    alpha, l1_ratio : float
        The penalties, as scikit-learn has them: $\lambda$ is `alpha * l1_ratio` and $\mu$ is `alpha * (1 - l1_ratio)`.
        `alpha` is positive, `l1_ratio` above 0 and at most 1: the lasso.
    order : {"cyclic", "random"}
        From the first weight to the last; or, in each sweep, as many independent draws as there are weights.
    rng : numpy.random.Generator, optional
        Source of randomness, which the random order needs.
    tol : float
        Converged when the duality gap is at most `tol` times the objective at zero.
    max_iter : int
        The largest number of sweeps.
    record_path : bool
        Whether to keep the weights after each sweep.

    Returns
    -------
    ElasticNetResult
        With the fields `x`, the weights; `fun` and `gap`, the objective and the duality gap there; `nit` sweeps;
        `nfev`, `nit + 1`; `success`, true only for the message `GAP_REACHED`; `message`: this or `OUT_OF_SWEEPS`;
        `path`, None unless `record_path` is set, with `nit + 1` rows, from zero to `x`.

    Raises
    ------
    ValueError
        If the data are empty, not finite or do not fit, a penalty is out of range, or `order` is unknown or lacks
        `rng`.

    Examples
    --------
    >>> features, targets = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([3.0, 1.0])
    >>> result = elastic_net(features, targets, 0.5)
    >>> result.x, result.nit, result.gap
    (array([1.5, 0.5]), 1, 0.0)
    """
    # given: the checks, and columns that lie together in memory
    features, targets = _data(features, targets)
    l1, l2 = _penalties(alpha, l1_ratio)
    _check_order(order, rng)
    check_arguments([0.0], step_size=1.0, tol=tol, max_iter=max_iter)
    n_samples, dim = features.shape
    # yours
    weights, residual, nit, path, message = np.zeros(dim, features.dtype), targets, 0, [], None
    while message is None:
        if record_path:
            path.append(weights)
        value, gap = duality_gap(targets, residual, residual @ features / n_samples, weights, l1=l1, l2=l2)
        if gap <= tol * float(targets @ targets) / (2 * n_samples):
            message = GAP_REACHED
        elif nit >= max_iter:
            message = OUT_OF_SWEEPS
        else:
            draws = range(dim) if rng is None or order == "cyclic" else rng.integers(dim, size=dim)
            residual, weights = residual_sweep(features, residual, weights, draws, l1=l1, l2=l2)
            nit += 1
    rows = np.array(path) if record_path else None
    return ElasticNetResult(weights, value, nit, nit + 1, message == GAP_REACHED, message, rows, gap)


def strong_set(correlations: Float[np.ndarray, " dim"], l1: float, previous_l1: float) -> Bool[np.ndarray, " dim"]:
    """Return which features the strong rule keeps, by (10).

    Parameters
    ----------
    correlations : ndarray
        The correlations with the residual at the solution for `previous_l1`.
    l1, previous_l1 : float
        The next penalty, and the last, which is not smaller.

    Returns
    -------
    ndarray
        True for each feature to be kept.

    Examples
    --------
    >>> strong_set(np.array([1.0, 0.7, -0.4]), 0.8, 1.0)
    array([ True,  True, False])
    """
    return abs(correlations) >= 2 * l1 - previous_l1


def grow(
    working: WorkingSet, features: Float[np.ndarray, "n_samples dim"], wanted: Bool[np.ndarray, " dim"]
) -> WorkingSet:  # given
    """Take features into the working set, those that are not there yet.

    Parameters
    ----------
    working : WorkingSet
        What is there.
    features : ndarray
        All columns.
    wanted : ndarray
        True for each feature that is wanted.

    Returns
    -------
    WorkingSet
        The old features first.

    Examples
    --------
    >>> features = np.array([[1.0, 1.0, 2.0], [1.0, -1.0, 0.0]])
    >>> empty = WorkingSet(np.zeros(0, int), features[:, :0], np.zeros((0, 0)))
    >>> grow(empty, features, np.array([True, False, True])).gram
    array([[1., 1.],
           [1., 2.]])
    """
    new = np.setdiff1d(np.flatnonzero(wanted), working.indices)
    if not len(new):
        return working
    columns, n_samples = features[:, new], len(features)
    cross = working.columns.T @ columns / n_samples
    gram = np.block([[working.gram, cross], [cross.T, columns.T @ columns / n_samples]])
    return WorkingSet(np.append(working.indices, new), np.hstack([working.columns, columns]), gram)


def lasso_path(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alphas: Float[np.ndarray, " n_alphas"],
    *,
    l1_ratio: float = 1.0,
    tol: float = 1e-8,
    max_iter: int = 1000,
) -> LassoPath:
    """Fit the elastic net for a decreasing sequence of penalties, each from the solution before.

    For each penalty: the features that the strong rule keeps join the working set; a sweep over this set and a step by
    (9); then residual, correlations and gap of all features; if the gap is too large, those that violate (8) join as
    well, and so on.

    Parameters
    ----------
    features, targets : ndarray
        The data, as for `elastic_net`.
    alphas : ndarray
        The penalties, positive, in any order: they are taken from the largest down.
    l1_ratio : float
        As for `elastic_net`.
    tol : float
        Each gap should be at most `tol` times the objective at zero.
    max_iter : int
        The largest number of rounds for each penalty.

    Returns
    -------
    LassoPath
        Penalties, weights and gaps, largest penalty first.

    Raises
    ------
    ValueError
        If the data are empty, not finite or do not fit, or a penalty is out of range.

    Examples
    --------
    >>> features, targets = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([3.0, 1.0])
    >>> lasso_path(features, targets, np.array([0.5, 2.0, 1.5])).weights
    array([[0. , 0. ],
           [0.5, 0. ],
           [1.5, 0.5]])
    """
    # given: the checks, an empty working set, and what belongs to weights of zero
    features, targets, alphas = *_data(features, targets), np.sort(np.asarray(alphas, dtype=float))[::-1]
    penalties, enough, working, weights, correlations = _begin_path(features, targets, alphas, l1_ratio, tol, max_iter)
    previous_l1, rows, gaps = float(abs(correlations).max()), [], []
    # yours
    for l1, l2 in penalties:
        wanted = strong_set(correlations, l1, max(previous_l1, l1))
        for _ in range(max_iter):
            working = grow(working, features, wanted)
            weights, some, mine = weights.copy(), correlations[working.indices], weights[working.indices]
            some, mine = gram_sweep(working.gram, some, mine, l1=l1, l2=l2)
            _, weights[working.indices] = orthant_step(working.gram, some, mine, l1=l1, l2=l2)
            residual = targets - working.columns @ weights[working.indices]
            correlations = residual @ features / len(features)
            _, gap = duality_gap(targets, residual, correlations, weights, l1=l1, l2=l2)
            if gap <= enough:
                break
            wanted = abs(correlations) > l1
        rows, gaps = [*rows, weights], [*gaps, gap]
        previous_l1 = l1
    gaps = np.array(gaps, dtype=features.dtype)
    return LassoPath(alphas.astype(features.dtype), np.array(rows), gaps, max(gaps) <= enough)


def _begin_path(  # given: what a path begins with
    features: np.ndarray, targets: np.ndarray, alphas: np.ndarray, l1_ratio: float, tol: float, max_iter: int
) -> tuple[list[tuple[float, float]], float, "WorkingSet", np.ndarray, np.ndarray]:
    """Return the penalties, the gap that is small enough, an empty working set, weights of zero, and correlations."""
    penalties = [_penalties(float(alpha), l1_ratio) for alpha in alphas.astype(features.dtype)]
    check_arguments([0.0], step_size=1.0, tol=tol, max_iter=max_iter)
    n_samples, dim = features.shape
    enough = tol * float(targets @ targets) / (2 * n_samples)
    working = WorkingSet(np.zeros(0, int), features[:, :0], np.zeros((0, 0), features.dtype))
    return penalties, enough, working, np.zeros(dim, features.dtype), targets @ features / n_samples


def _data(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given
    """Return data as floats, columns together in memory, or refuse them."""
    features, targets = np.asfortranarray(features), np.asarray(targets)
    if features.ndim != 2 or not features.size:
        raise ValueError(f"features must have shape (n_samples, dim), got {features.shape}")
    if targets.shape != features.shape[:1]:
        raise ValueError(f"targets must have shape {features.shape[:1]}, got {targets.shape}")
    features = features if features.dtype.kind == "f" else features.astype(np.float64)
    targets = targets.astype(features.dtype)
    for name, values in (("features", features), ("targets", targets)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite, got NaN or infinity")
    return features, targets


def _penalties(alpha: float, l1_ratio: float) -> tuple[float, float]:  # given
    """Return the two penalties, or refuse them."""
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    if not 0 < l1_ratio <= 1:
        raise ValueError(f"l1_ratio must be above 0 and at most 1, got {l1_ratio}")
    return float(alpha * l1_ratio), float(alpha * (1 - l1_ratio))


def _check_order(order: str, rng: np.random.Generator | None) -> None:  # given
    """Refuse an unknown order, and a random one without a source of randomness."""
    if order not in ("cyclic", "random") or (order == "random" and rng is None):
        raise ValueError(f"order must be 'cyclic', or 'random' with rng, got {order!r}")
