r"""Proximal gradient: descend on what is smooth, and solve for what is not.

## Idea

A penalty like the sum of absolute values makes weights exactly zero, because it has a kink there; and for the same
reason it has no gradient there. But one can ask more of it than its slope: where would one go from here, if the penalty
is to be lowered and each step from here costs its square? For many penalties the answer is a formula of one line, such
as 'subtract the threshold, but not across zero'. So take turns: a gradient step for the smooth part, then this answer
for the other. Nothing of the speed of gradient descent is lost, and it can be accelerated in the same way.

## Maths

**The proximal operator** of a convex function $h$ with step size $a > 0$ is

$$\operatorname{prox}_{a h}(x) = \arg\min_y\; h(y) + \tfrac1{2a} \|y - x\|^2 . \tag{1}$$

The minimum $p$ is unique, and marked by $\frac{x - p}{a} \in \partial h(p)$: for all $y$,

$$h(y) \ge h(p) + \tfrac1a (x - p)^\top (y - p) . \tag{2}$$

If $h$ is 0 on a set and infinite elsewhere (its *indicator*), then (1) is the projection onto it. As projections do,
proximal operators bring points together:
$\|p - q\|^2 \le (x - z)^\top (p - q)$ for $p$ and $q$ from $x$ and $z$. And with the conjugate
$h^*(u) = \sup_y u^\top y - h(y)$ any point splits in two, as it does by a subspace and its complement (Moreau):

$$x = \operatorname{prox}_h(x) + \operatorname{prox}_{h^*}(x) . \tag{3}$$

- $h = \lambda \|\cdot\|_1$: the coordinates separate. Where $p_i > 0$, (2) says $x_i - p_i = a \lambda$; where
  $p_i = 0$, only $|x_i| \le a \lambda$. This is the *soft threshold* with $t = a \lambda$:

$$S_t(x)_i = \operatorname{sign}(x_i)\, \max\{|x_i| - t,\ 0\} . \tag{4}$$

- *Elastic net*, $h = \lambda \|\cdot\|_1 + \frac{\mu}{2} \|\cdot\|^2$: the same, with $p_i (1 + a \mu)$ in the place of
  $p_i$:

$$p = \frac{S_{a\lambda}(x)}{1 + a \mu} . \tag{5}$$

- *Groups*, $h = \lambda \sum_g \|y_g\|$, the lengths of disjoint groups of coordinates (one group: the norm). A group
  keeps its direction and loses length, down to zero:

$$p_g = \max\left\{1 - \frac{a \lambda}{\|x_g\|},\ 0\right\} x_g . \tag{6}$$

- *Nuclear norm*, $h = \lambda \sum_i \sigma_i(Y)$, of matrices. With $X = U \Sigma V^\top$ the singular values are
  thresholded:

$$P = U\, S_{a\lambda}(\Sigma)\, V^\top . \tag{7}$$

**The envelope.** The least value in (1) is itself a function of $x$, and a smooth one:

$$h_a(x) = h(p) + \tfrac1{2a} \|x - p\|^2, \qquad \nabla h_a(x) = \tfrac1a (x - p), \qquad p = \operatorname{prox}_{a h}(x) . \tag{8}$$

It has the same minima as $h$; that of $|x|$ is Huber's function, a parabola that goes over into lines.

**The step.** Let $F = f + h$ with $f$ convex and $L$-smooth. Replace $f$ by its tangent at $y$ and a parabola on top,
and minimise, $h$ as it is:

$$x^+ = \operatorname{prox}_{a h}\bigl(y - a \nabla f(y)\bigr) . \tag{9}$$

The parabola lies above $f$, as needed, if

$$f(x^+) \le f(y) + \nabla f(y)^\top (x^+ - y) + \tfrac1{2a} \|x^+ - y\|^2 , \tag{10}$$

which holds for $a \le 1/L$; without $L$, shorten $a$ until it does. Where a step stays, $y$ is a minimum of $F$: the
measure is the *gradient mapping* $(y - x^+)/a$.

**ISTA** takes $y = x_k$. **FISTA** [1] lets momentum lead on first, by Nesterov's sequence:

$$y = x_k + \frac{t_k - 1}{t_{k+1}} (x_k - x_{k-1}), \qquad t_{k+1} = \tfrac12 \bigl(1 + \sqrt{1 + 4 t_k^2}\bigr), \quad t_1 = 1. \tag{11}$$

With $a = 1/L$ and $R = \|x_0 - x^\star\|$,

$$\text{ISTA:}\quad F(x_k) - F^\star \le \frac{L R^2}{2 k}, \qquad \text{FISTA:}\quad F(x_k) - F^\star \le \frac{2 L R^2}{(k + 1)^2} . \tag{12}$$

If the smooth part has a curvature of at least $\mu > 0$, ISTA's errors shrink by $1 - \mu/L$ a step. FISTA does not
know $\mu$, and begins to swing. The cure is to forget the momentum, with $t_k = 1$ in (11), after each step in which it
has led uphill [2], that is if

$$(y - x_{k+1})^\top (x_{k+1} - x_k) > 0 . \tag{13}$$

**Lasso**, with $n$ samples, features $X$ and targets $b$:

$$F(w) = \tfrac1{2n} \|b - X w\|^2 + \alpha \|w\|_1 . \tag{14}$$

How far is a $w$ from optimal? Each vector $\theta$ with $\|X^\top \theta\|_\infty \le \alpha$ gives a lower bound,
$D(\theta) = b^\top \theta - \frac n2 \|\theta\|^2 \le F^\star$, since $\theta^\top X w \le \alpha \|w\|_1$ and
$\frac{1}{2n} \|r\|^2 + \frac n2 \|\theta\|^2 \ge \theta^\top r$ with $r = b - X w$. The best one is $r / n$ at the
optimum. So take that, scaled down to be allowed, and let the **duality gap** decide:

$$F(w) - F^\star \le F(w) - D(\theta), \qquad
\theta = \frac{r}{n}\, \min\left\{1,\ \frac{\alpha}{\|X^\top r\|_\infty / n}\right\} . \tag{15}$$

With $w = 0$ the gap is zero, and nothing is to be done, if $\alpha \ge \alpha_{\max} = \|X^\top b\|_\infty / n$.

## Worked example

- $S_1(2.5, -0.3, -1.2) = (1.5, 0, -0.2)$; as an elastic net with $\mu = 1$, half of it: $(0.75, 0, -0.1)$.
- The group $(3, 4)$ has length 5: with the threshold 2 it keeps the share $1 - \frac25$, so $(1.8, 2.4)$.
- The envelope of $|x|$ with $a = 1$ at $x = 2.5$: $p = 1.5$, so $1.5 + \frac12 = 2$, and the slope is 1. At $x = 0.4$:
  $p = 0$, so $0.08$, and the slope is $0.4$.
- *Lasso* with one feature, $X = (1, 1)^\top$, $b = (3, 1)^\top$, $\alpha = 0.5$: $F = \frac14 \|b - Xw\|^2 + 0.5 |w|$
  and $L = 1$. From $w = 0$ the gradient is $-2$, and (9) with $a = 1$ gives $S_{0.5}(2) = 1.5$:
  $F = \frac14 (2.25 + 0.25) + 0.75 = 1.375$. There $r = (1.5, -0.5)$ and $X^\top r / n = 0.5$: $\theta = r / 2$ is
  allowed, $D = 2 - 0.625 = 1.375$. The gap is 0.

## Plan

- `soft_threshold` by (4), `prox_elastic_net` by (5), `prox_group` by (6), `prox_nuclear` by (7).
- `moreau_envelope` returns value and gradient by (8).
- `backtrack` makes the step (9), with a step size for which (10) holds.
- `proximal_gradient` walks: ISTA, or FISTA by (11), with or without restart by (13), with or without search.
- `lasso_gap` returns the gap of (15).

Given are `alpha_max` and `lasso`, which puts your parts together and stops by the gap.

## Pitfalls

- Weights are small but not zero.
- The penalty's factor, the step size, or both are missing from the threshold, or there twice.
- A group of zeros becomes NaN.
- The values of FISTA rise now and then. Alone that is no error.
- Close to the minimum the search shortens the step again and again: what it compares has drowned in rounding.
- The gap is negative, or does not go to zero: is $\theta$ allowed?

## Cost

A gradient and a proximal operator a step, that is O(n_samples · dim) for the lasso; the gap costs as much again. The
nuclear norm needs an SVD a step. To an accuracy $\varepsilon$: $1/\varepsilon$ steps, or the root of that with
momentum. On the lasso the benchmark finds FISTA 1.6 to 15 times as slow as scikit-learn, to the same gap: that is
compiled coordinate descent, another method, which for this problem needs fewer passes over the data.

## Go further

- *Experiment*: lasso on correlated columns, with all four variants. Count steps to a gap of $10^{-8}$.
- *Stretch*: complete a matrix of which a third is known, by (7) on the squared error of what is known.

## References

1. Beck & Teboulle (2009), A fast iterative shrinkage-thresholding algorithm, https://doi.org/10.1137/080716542
2. O'Donoghue & Candès (2015), Adaptive restart for accelerated gradient schemes, https://arxiv.org/abs/1204.3982
3. Parikh & Boyd (2014), Proximal algorithms, https://doi.org/10.1561/2400000003
4. Moreau (1965), Proximité et dualité dans un espace hilbertien, https://doi.org/10.24033/bsmf.1625
"""

# 8 parts to write. Test them with: pytest exercises/optim/proximal.py
# To be written without: scipy.optimize, sklearn, numpy.clip

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import check_arguments
from mlpath.optim.momentum import next_momentum

Prox = Callable[[Vector, float], Vector]

CONVERGED = "converged: the measure of optimality is at most tol"
DIVERGED = "diverged: the point or its gradient is not finite"
OUT_OF_STEPS = "stopped: max_iter steps were made before the measure fell to tol"


def soft_threshold(x: Float[np.ndarray, "*shape"], threshold: ArrayLike) -> Float[np.ndarray, "*shape"]:
    """Move every entry towards zero by the threshold, but not across: equation (4).

    Parameters
    ----------
    x : ndarray
        Numbers. They are not changed.
    threshold : array_like
        At least 0: one number, or one for each entry.

    Returns
    -------
    ndarray
        The proximal point, in the precision of `x`.

    Raises
    ------
    ValueError
        If `threshold` is negative or NaN.

    Examples
    --------
    >>> soft_threshold(np.array([2.5, -0.25, -1.25]), 1.0)
    array([ 1.5 , -0.  , -0.25])
    """
    # given: the checks
    threshold = _not_negative(threshold, "threshold", x)
    raise NotImplementedError("not written yet: soft_threshold")


def prox_elastic_net(
    x: Float[np.ndarray, "*shape"], step_size: float, *, l1: float, l2: float
) -> Float[np.ndarray, "*shape"]:
    r"""Return the proximal point of `l1` times the 1-norm plus half of `l2` times the squared norm: equation (5).

    Parameters
    ----------
    x : ndarray
        Numbers. They are not changed.
    step_size : float
        The step size $a$.
    l1, l2 : float
        The factors $\lambda$ and $\mu$, at least 0: with one of them 0 this is the lasso's, or ridge regression's.

    Returns
    -------
    ndarray
        The proximal point, in the precision of `x`.

    Raises
    ------
    ValueError
        If a factor is negative or NaN.

    Examples
    --------
    >>> prox_elastic_net(np.array([2.5, -0.3, -1.2]), 0.5, l1=2.0, l2=2.0).round(4)
    array([ 0.75, -0.  , -0.1 ])
    """
    # given: the checks
    _not_negative(l1, "l1", x)
    _not_negative(l2, "l2", x)
    raise NotImplementedError("not written yet: prox_elastic_net")


def prox_group(
    x: Float[np.ndarray, " dim"], threshold: ArrayLike, groups: Int[np.ndarray, " dim"]
) -> Float[np.ndarray, " dim"]:
    """Shorten each group of coordinates by the threshold, but not below zero: equation (6).

    Parameters
    ----------
    x : ndarray
        A vector. It is not changed.
    threshold : array_like
        At least 0: one number, or one for each group.
    groups : ndarray
        The group of each coordinate, counted from 0. All of them 0: the proximal point of the Euclidean norm.

    Returns
    -------
    ndarray
        The proximal point, in the precision of `x`, for entries of any size.

    Raises
    ------
    ValueError
        If `threshold` is negative or NaN, or `groups` does not fit.

    Examples
    --------
    >>> prox_group(np.array([3.0, 0.5, 4.0, 0.0]), 2.0, np.array([0, 1, 0, 1])).round(4)
    array([1.8, 0. , 2.4, 0. ])
    """
    # given: the checks
    groups = np.asarray(groups)
    if groups.shape != x.shape or groups.dtype.kind not in "iu" or groups.min() < 0:
        raise ValueError(f"groups must hold a number from 0 for each of {len(x)} coordinates, got {groups}")
    threshold = _not_negative(threshold, "threshold", np.zeros(groups.max() + 1, x.dtype))
    raise NotImplementedError("not written yet: prox_group")


def prox_nuclear(x: Float[np.ndarray, "n_rows n_cols"], threshold: float) -> Float[np.ndarray, "n_rows n_cols"]:
    """Lower the singular values of a matrix by the threshold, but not below zero: equation (7).

    Parameters
    ----------
    x : ndarray
        A matrix. It is not changed.
    threshold : float
        At least 0.

    Returns
    -------
    ndarray
        The proximal point, in the precision of `x`.

    Raises
    ------
    ValueError
        If `threshold` is negative or NaN.

    Examples
    --------
    >>> prox_nuclear(np.array([[3.0, 0.0], [0.0, 0.5], [0.0, 0.0]]), 1.0)
    array([[2., 0.],
           [0., 0.],
           [0., 0.]])
    """
    # given: the checks
    _not_negative(threshold, "threshold", x)
    raise NotImplementedError("not written yet: prox_nuclear")


def moreau_envelope(
    penalty: Callable[[Vector], float], prox: Prox, x: Float[np.ndarray, " dim"], step_size: float
) -> tuple[float, Float[np.ndarray, " dim"]]:
    """Return value and gradient of a penalty's smooth envelope, by equation (8).

    Parameters
    ----------
    penalty : callable
        The function $h$.
    prox : callable
        Takes a point and a step size, and returns the proximal point (1).
    x : ndarray
        Where to evaluate. It is not changed.
    step_size : float
        The step size $a$.

    Returns
    -------
    tuple of float and ndarray
        The value and the gradient.

    Examples
    --------
    >>> value, gradient = moreau_envelope(lambda x: abs(x).sum(), soft_threshold, np.array([2.5, 0.4]), 1.0)
    >>> print(round(value, 4), gradient)
    2.08 [1.  0.4]
    """
    raise NotImplementedError("not written yet: moreau_envelope")


def backtrack(
    fun: Objective,
    x: Float[np.ndarray, " dim"],
    gradient: Float[np.ndarray, " dim"],
    prox: Prox,
    *,
    step_size: float,
    shrink: float = 0.5,
    max_trials: int = 60,
) -> tuple[Float[np.ndarray, " dim"], float, int]:
    """Make a proximal step that is short enough for the parabola to lie above the smooth part: equations (9) and (10).

    The trials are `step_size`, then `shrink` times that, and so on. Of the values in (10), each is allowed an error of
    five times the precision of the value at `x`: else rounding would shorten steps close to the minimum.

    Parameters
    ----------
    fun : callable
        The smooth part $f$.
    x : ndarray
        Where to step from.
    gradient : ndarray
        The gradient of the smooth part there.
    prox : callable
        Takes a point and a step size, and returns the proximal point.
    step_size : float
        The first trial. Positive.
    shrink : float
        The factor between trials, between 0 and 1.
    max_trials : int
        The last trial is taken, whether (10) holds or not.

    Returns
    -------
    tuple of ndarray, float and int
        The point after the step, the step size, and how often `fun` was called: at `x`, and once a trial.

    Examples
    --------
    >>> backtrack(lambda x: 3 * x @ x, np.array([1.0]), np.array([6.0]), lambda x, step_size: x, step_size=0.5)
    (array([0.25]), 0.125, 4)
    """
    raise NotImplementedError("not written yet: backtrack")


def proximal_gradient(
    fun: Objective,
    grad: Gradient,
    penalty: Callable[[Vector], float],
    prox: Prox,
    start: ArrayLike,
    *,
    step_size: float = 1.0,
    accelerate: bool = True,
    restart: bool = True,
    search: bool = False,
    measure: Callable[[Vector], float] | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a smooth function plus a penalty by proximal gradient steps: ISTA or FISTA.

    Parameters
    ----------
    fun, grad : callable
        The smooth part and its gradient.
    penalty : callable
        The other part.
    prox : callable
        Takes a point and a step size, and returns the penalty's proximal point.
    start : array_like
        Where to begin; not changed.
    step_size : float
        The step size, or the first one if there is a search.
    accelerate : bool
        Whether to step from the point of (11), FISTA, or from the last point, ISTA.
    restart : bool
        Whether to forget the momentum after a step for which (13) holds: then $t_k = 1$ in (11).
    search : bool
        Whether to find the step size by `backtrack`. Each search begins where the last has ended: steps never grow.
    measure : callable, optional
        What says how far a point is from optimal, such as a duality gap. Without it, the largest component of the
        gradient mapping of the last step.
    tol : float
        Converged when the measure is at most so large.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields `x`, the last point, after a proximal step; `fun`, smooth part and penalty there; `nit` steps;
        `nfev` calls of `fun`, that for the result included; `success`, true only for the message `CONVERGED`;
        `message`: this, `DIVERGED` or `OUT_OF_STEPS`; `path`, None unless `record_path` is set, with `nit + 1` rows,
        from the start to `x`. At least one step is made.

    Raises
    ------
    ValueError
        If an argument is refused by gradient descent's `check_arguments`, or `grad` returns the wrong shape.

    Examples
    --------
    >>> b = np.array([2.0, -0.25, 1.0])
    >>> result = proximal_gradient(
    ...     lambda x: (x - b) @ (x - b) / 2,
    ...     lambda x: x - b,
    ...     lambda x: abs(x).sum() / 2,
    ...     lambda x, a: soft_threshold(x, a / 2),
    ...     np.zeros(3),
    ...     step_size=0.5,
    ... )
    >>> result.x.round(4), result.success
    (array([ 1.5, -0. ,  0.5]), True)
    """
    # given: the checks
    x, grad = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter), checked_gradient(grad)
    raise NotImplementedError("not written yet: proximal_gradient")


def lasso_gap(
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    weights: Float[np.ndarray, " dim"],
    alpha: float,
) -> float:
    r"""Return how far the lasso's objective is from its least value at most: equation (15).

    Parameters
    ----------
    features, targets : ndarray
        The data $X$ and $b$.
    weights : ndarray
        The point $w$.
    alpha : float
        The penalty's factor. Positive.

    Returns
    -------
    float
        The duality gap, in the units of (14); not negative but for rounding.

    Examples
    --------
    >>> features, targets = np.array([[1.0], [1.0]]), np.array([3.0, 1.0])
    >>> lasso_gap(features, targets, np.array([1.5]), 0.5), lasso_gap(features, targets, np.array([0.0]), 0.5)
    (0.0, 1.40625)
    """
    raise NotImplementedError("not written yet: lasso_gap")


def alpha_max(features: Float[np.ndarray, "n_samples dim"], targets: Float[np.ndarray, " n_samples"]) -> float:  # given
    """Return the least factor from which on all of the lasso's weights are zero.

    Parameters
    ----------
    features, targets : ndarray
        The data.

    Returns
    -------
    float
        The factor.

    Examples
    --------
    >>> alpha_max(np.array([[1.0], [1.0]]), np.array([3.0, 1.0]))
    2.0
    """
    return float(abs(targets @ features).max()) / len(targets)


def lasso(  # given: your parts together
    features: Float[np.ndarray, "n_samples dim"],
    targets: Float[np.ndarray, " n_samples"],
    alpha: float,
    *,
    accelerate: bool = True,
    restart: bool = True,
    search: bool = False,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> OptimizeResult:
    """Fit the lasso (14), without intercept, to a relative duality gap.

    Parameters
    ----------
    features, targets : ndarray
        The data.
    alpha : float
        The penalty's factor. Positive.
    accelerate, restart, search : bool
        As for `proximal_gradient`.
    tol : float
        Converged when the gap is at most `tol` times the objective at zero.
    max_iter : int
        The largest number of steps.

    Returns
    -------
    OptimizeResult
        The weights `x`, and the rest.

    Raises
    ------
    ValueError
        If the data are not finite or do not fit, or `alpha` is not positive and finite.

    Examples
    --------
    >>> lasso(np.array([[1.0], [1.0]]), np.array([3.0, 1.0]), 0.5).x
    array([1.5])
    """
    if features.ndim != 2 or targets.shape != features.shape[:1] or not features.size:
        raise ValueError(
            f"targets must have one number for each row of features, got {features.shape}, {targets.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(targets).all()):
        raise ValueError("features and targets must be finite, got NaN or infinity")
    if not 0 < alpha < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    n_samples, dim = features.shape
    smoothness = float(np.linalg.norm(features, 2)) ** 2 / n_samples

    def residual(w: Vector) -> Float[np.ndarray, " n_samples"]:
        return features @ w - targets

    return proximal_gradient(
        lambda w: float(residual(w) @ residual(w)) / (2 * n_samples),
        lambda w: residual(w) @ features / n_samples,
        lambda w: alpha * float(abs(w).sum()),
        lambda w, step_size: soft_threshold(w, step_size * alpha),
        np.zeros(dim, features.dtype),
        step_size=(8.0 if search else 1.0) / smoothness if smoothness > 0 else 1.0,
        accelerate=accelerate,
        restart=restart,
        search=search,
        measure=lambda w: lasso_gap(features, targets, w, alpha),
        tol=tol * float(targets @ targets) / (2 * n_samples),
        max_iter=max_iter,
    )


def _not_negative(values: ArrayLike, name: str, x: np.ndarray) -> np.ndarray:  # given
    """Return thresholds in the precision of the numbers, or refuse them."""
    array = np.asarray(values, dtype=x.dtype)
    if not (array >= 0).all():
        raise ValueError(f"{name} must not be negative, got {values}")
    if array.ndim and array.shape != x.shape:
        raise ValueError(f"{name} must be one number or have the shape {x.shape}, got {array.shape}")
    return array


def _reason(x: Vector, measure: float, nit: int, *, tol: float, max_iter: int) -> str | None:  # given
    """Return the reason to stop, or None."""
    if not (np.isfinite(measure) and np.isfinite(x).all()):
        return DIVERGED
    if measure <= tol:
        return CONVERGED
    return OUT_OF_STEPS if nit >= max_iter else None
