r"""Natural gradient: measure a step by how much it changes the model, not its numbers.

## Idea

The gradient is steepest descent for a ruler that somebody has chosen: the Euclidean distance of parameters. Write a
standard deviation as its logarithm and the ruler has changed, and with it the path. But a model's parameters stand for
a distribution, and how far two distributions are apart does not depend on what we call them. Measured so, steepest
descent is the gradient times the inverse of the *Fisher information*. For logistic regression this is Newton's
method; for an exponential family it is a plain gradient in other coordinates; and for statistics it is how one step
turns a good guess into the best there is.

## Maths

**The score.** Let $p(x; \theta)$ be a model. Its *score* is $s(x; \theta) = \nabla_\theta \log p(x; \theta)$. As
$\int p = 1$ for every $\theta$, its mean under the model itself is $\int \nabla p = 0$. For a normal distribution with
the parameters $\mu$ and $\tau = \log \sigma$, and $z = (x - \mu)/\sigma$,

$$\log p = -\tfrac12 z^2 - \tau - \tfrac12 \log 2\pi, \qquad s = \bigl(z/\sigma,\ z^2 - 1\bigr) . \tag{1}$$

**The Fisher information** is the covariance of the score; as its mean is zero,

$$F(\theta) = \mathbb{E}_{x \sim p(\cdot; \theta)}\bigl[s\, s^\top\bigr] = \sum_i w_i\, s_i s_i^\top , \tag{2}$$

the sum for a model of finitely many outcomes with the probabilities $w_i$, or for the nodes and weights of a
quadrature. Differentiate $\mathbb{E}[s] = 0$ once more, and the same matrix appears as a curvature:

$$F(\theta) = -\mathbb{E}_{x \sim p(\cdot; \theta)}\bigl[\nabla^2_\theta \log p(x; \theta)\bigr] . \tag{3}$$

For the normal distribution, from $\mathbb{E} z^2 = 1$ and $\mathbb{E} z^4 = 3$, it is $\operatorname{diag}(1/\sigma^2,
2)$. And it is the local ruler that we look for: by (3), and because the first-order term vanishes,

$$\mathrm{KL}\bigl(p_\theta \,\|\, p_{\theta + d}\bigr) = \tfrac12\, d^\top F(\theta)\, d + O(\|d\|^3) . \tag{4}$$

**Classes.** For labels with $p = \operatorname{softmax}(a)$ the score by the logits is $e_y - p$, so that

$$F = \sum_y p_y (e_y - p)(e_y - p)^\top = \operatorname{diag}(p) - p p^\top . \tag{5}$$

Its rows add up to zero, for adding a constant to all logits changes no probability. So $F$ is singular, and its
diagonal is $p_i \sum_{j \ne i} p_j$, which keeps its digits where $1 - p_i$ has none left.

**Logistic regression**, $P(y = 1 \mid x) = p = 1 / (1 + e^{-x^\top w})$ with $y$ in $\{0, 1\}$, has the score $(y - p)
x$. The information of an average row is

$$F(w) = \frac1n \sum_i p_i (1 - p_i)\, x_i x_i^\top . \tag{6}$$

No label occurs in it, nor does one in the second derivative of the loss, which is the same matrix: for this model
natural gradient with full steps ('Fisher scoring') *is* Newton's method. That holds whenever the model's natural
parameter is linear in the weights.

**Expected or empirical.** In (2) the outcomes come from the model. Take the data's instead, each with the weight $1/n$,
and you have the *empirical Fisher*: for logistic regression $\frac1n \sum_i (y_i - p_i)^2 x_i x_i^\top$. It needs no
expectation, and agrees with $F$ where the model is right and the parameters are the true ones. Elsewhere it is another
matrix: no curvature, and not the ruler of (4). Near a perfect fit it vanishes like the *square* of the residuals, where
(6) does like the residuals, and steps by it explode [3].

**Other parameters.** Let $\theta = \theta(\phi)$ with the Jacobian $J = \partial\theta/\partial\phi$. The score by
$\phi$ is $J^\top s$, hence

$$\tilde F = J^\top F J , \qquad \tilde g = J^\top g . \tag{7}$$

**Exponential families.** $\log p = \eta^\top T(x) - A(\eta) + \dots$ has the score $T(x) - m$ with the *expectation
parameters* $m = \mathbb{E}[T]$. So (2) is the covariance of $T$, and (3) is $\nabla^2 A$, which is the derivative of
$m = \nabla A$:

$$F(\eta) = \operatorname{Cov} T = \frac{\partial m}{\partial \eta} . \tag{8}$$

The normal distribution has $T = (x, x^2)$, $\eta = (\mu/\sigma^2, -1/(2\sigma^2))$ and

$$m = (\mu,\ \mu^2 + \sigma^2), \qquad
F(\eta) = \begin{pmatrix} \sigma^2 & 2\mu\sigma^2 \\ 2\mu\sigma^2 & 4\mu^2\sigma^2 + 2\sigma^4 \end{pmatrix} . \tag{9}$$

**The step.** To lower a loss with the gradient $g$ as much as possible for a given divergence (4), go along
$-F^{-1} g$. Where $F$ is singular or nearly so, a damping $\lambda \ge 0$ keeps the step within bounds:

$$d = -(F + \lambda I)^{-1} g . \tag{10}$$

Put (7) into it, with $\lambda = 0$ and $J$ invertible: $J \tilde d = -J J^{-1} F^{-1} J^{-\top} J^\top g = d$. To first
order both steps lead to the same *distribution*; if $\theta(\phi)$ is linear, exactly. Small steps follow one
curve, whatever the parameters. By (7) and (8) the chain rule says $F(\eta)^{-1} \nabla_\eta L = \nabla_m L$: natural
gradient in $\eta$ is a plain gradient by $m$ (and the other way round), which is also called mirror descent.

**Why statisticians step so.** No unbiased estimate from $n$ independent draws has less variance than $F^{-1}/n$ (Cramér
and Rao). Start from any estimate whose error is of the order $n^{-1/2}$, make *one* step (10) on the mean negative
log-likelihood, and the variance is the bound's, to leading order [4].

## Worked example

A normal distribution with $\mu = 1$, $\sigma = 2$, and one observation $x = 4$.

- $z = 1.5$, the score is $(0.75, 1.25)$, and $F = \operatorname{diag}(0.25, 2)$. The loss $-\log p$ has the gradient
  $(-0.75, -1.25)$, and (10) gives $d = (3, 0.625)$: to $\mu = 4$ and $\sigma = 2 e^{0.625} = 3.74$.
- With $\phi = (\mu, \sigma)$, $J = \operatorname{diag}(1, \tfrac12)$: $\tilde g = (-0.75, -0.625)$,
  $\tilde F = \operatorname{diag}(0.25, 0.5)$ and $\tilde d = (3, 1.25)$. $J \tilde d = (3, 0.625)$, as it must. The
  full step leads to $\sigma = 3.25$ instead of $3.74$: the same to first order only. Plain gradients disagree at once:
  $-\tilde g$ moves $\sigma$ by $0.625$, while $-g$ moves $\tau$ by $1.25$, which is $2.5$ of $\sigma$.
- Logits $(0, \log 3)$: $p = (0.25, 0.75)$, and (5) has $\pm 0.1875$ for its entries. From a single label 2 the
  empirical Fisher has $\pm 0.0625$; from a single label 1, $\pm 0.5625$. Averaged with $0.75$ and $0.25$: $0.1875$.

## Plan

- `gaussian_score` takes observations, a mean and a logarithm of a scale, and returns (1), one row for each.
- `second_moment` takes scores and their weights and returns (2).
- `softmax_fisher` takes logits and returns (5).
- `logistic_fisher` takes features and weights and returns (6).
- `pull_back` takes an information and a Jacobian and returns $\tilde F$ of (7).
- `gaussian_expectations` takes natural parameters and returns both of (9).
- `natural_step` takes a gradient, an information and a damping and returns (10). The `newton_step` of
  `optim/newton/damped` takes a gradient and a matrix.
- `minimize` walks by (10) until the gradient is small. The `stopping` of `optim/gradient_descent` takes the value, the
  gradient and the number of steps made, with `tol` and `max_iter` by name, and says why to stop, or None.

## Pitfalls

- The path depends on whether the scale or its logarithm is trained.
- Steps get larger as the fit gets better.
- The factorisation fails though every class has a probability.
- The steps are $n$ times too long, or too short: sums beside means.
- For a confident model the information is exactly zero.
- It agrees with Newton's method on one model and not on another.

## Cost

For $n$ rows and $d$ parameters $O(n d^2)$ for the matrix and $O(d^3)$ for the solution, as for Newton's method, whose
place it takes. That ends at some thousand parameters; beyond, the matrix is approximated (by blocks, by Kronecker
products) or only multiplied with vectors. Beside scikit-learn's `newton-cholesky` on logistic regression with 31
weights and on 20,000 rows it takes 0.8 to 0.9 times as long, though `linalg/cholesky` factorises by loops in Python:
both spend their time on products with the features.

## Go further

- *Experiment*: fit a normal distribution from $\mu = 3$, $\sigma = 0.2$ to data around 0 with deviation 1, by plain and
  by natural gradient. The figure does; explain why the plain one is so slow to leave.
- *Stretch*: replace (6) by the empirical Fisher in logistic regression on separable data, and watch the length of the
  steps.

## References

1. Amari (1998), Natural gradient works efficiently in learning, https://doi.org/10.1162/089976698300017746
2. Martens (2020), New insights and perspectives on the natural gradient method, https://arxiv.org/abs/1412.1193
3. Kunstner, Balles & Hennig (2019), Limitations of the empirical Fisher approximation for natural gradient descent,
   https://arxiv.org/abs/1905.12558
4. van der Vaart (1998), Asymptotic Statistics, chapter 5.7, https://doi.org/10.1017/CBO9780511802256
5. Raskutti & Mukherjee (2015), The information geometry of mirror descent, https://arxiv.org/abs/1310.7780
"""

# 8 parts to write. Test them with: pytest exercises/optim/natural_gradient.py
# To be written without: numpy.linalg.inv, numpy.linalg.pinv, numpy.cov, scipy, sklearn

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.newton.damped import newton_step

Information = Callable[[Vector], np.ndarray]


def gaussian_score(
    x: Float[np.ndarray, " n_samples"], mean: float, log_scale: float
) -> Float[np.ndarray, "n_samples 2"]:
    r"""Return the scores of a normal distribution, equation (1).

    Parameters
    ----------
    x : ndarray
        Observations.
    mean : float
        The mean $\mu$.
    log_scale : float
        The logarithm $\tau$ of the standard deviation.

    Returns
    -------
    ndarray
        For each observation the derivatives of the log density by $\mu$ and by $\tau$, in the dtype of `x`.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, or `mean` or `log_scale` is not finite.

    Examples
    --------
    >>> gaussian_score(np.array([4.0, 0.0]), 1.0, np.log(2.0))
    array([[ 0.75,  1.25],
           [-0.25, -0.75]])
    """
    # given: the checks
    _check_finite(x=x, mean=mean, log_scale=log_scale)
    _check_rank(1, x=x)
    raise NotImplementedError("not written yet: gaussian_score")


def second_moment(
    scores: Float[np.ndarray, "n_outcomes dim"], weights: Float[np.ndarray, " n_outcomes"] | None = None
) -> Float[np.ndarray, "dim dim"]:
    """Return the weighted mean of the outer products of scores, equation (2).

    With the model's own outcomes and probabilities this is the Fisher information. With the data and equal weights it
    is the empirical Fisher. Nothing is subtracted from the scores.

    Parameters
    ----------
    scores : ndarray
        A score for each outcome, one a row.
    weights : ndarray, optional
        The probability of each outcome; all equal if not given.

    Returns
    -------
    ndarray
        The matrix, symmetric.

    Raises
    ------
    ValueError
        If `scores` is not a matrix of finite numbers, or `weights` is not a vector of as many numbers, none negative,
        that add up to one (to six digits).

    Examples
    --------
    >>> scores = np.array([[1.0, 2.0], [3.0, 0.0]])
    >>> second_moment(scores)
    array([[5., 1.],
           [1., 2.]])
    >>> second_moment(scores, np.array([0.75, 0.25]))
    array([[3. , 1.5],
           [1.5, 3. ]])
    """
    # given: the checks
    _check_finite(scores=scores)
    _check_rank(2, scores=scores)
    _check_weights(weights, len(scores))
    raise NotImplementedError("not written yet: second_moment")


def softmax_fisher(logits: Float[np.ndarray, " n_classes"]) -> Float[np.ndarray, "n_classes n_classes"]:
    """Return the information about logits in a label, equation (5).

    Parameters
    ----------
    logits : ndarray
        One for each class, of any size.

    Returns
    -------
    ndarray
        The matrix, whose rows add up to zero. The diagonal is accurate relative to its size, down to the smallest
        numbers, even for a class that is all but certain.

    Raises
    ------
    ValueError
        If `logits` is not a vector of finite numbers.

    Examples
    --------
    >>> softmax_fisher(np.array([0.0, np.log(3.0)]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    # given: the checks
    _check_finite(logits=logits)
    _check_rank(1, logits=logits)
    raise NotImplementedError("not written yet: softmax_fisher")


def logistic_fisher(
    features: Float[np.ndarray, "n_samples dim"], weights: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "dim dim"]:
    """Return the information about the weights of a logistic regression in the label of an average row, equation (6).

    Parameters
    ----------
    features : ndarray
        One sample a row.
    weights : ndarray
        The weights $w$.

    Returns
    -------
    ndarray
        The matrix, symmetric; accurate relative to its size where all probabilities are near 0 or 1.

    Raises
    ------
    ValueError
        If `features` is not a matrix or `weights` not a vector that fits it, both finite.

    Examples
    --------
    >>> logistic_fisher(np.array([[1.0, 2.0], [1.0, 0.0]]), np.array([np.log(3.0), 0.0]))
    array([[0.1875, 0.1875],
           [0.1875, 0.375 ]])
    """
    # given: the checks
    _check_finite(features=features, weights=weights)
    _check_rank(2, features=features)
    if weights.shape != features.shape[1:]:
        raise ValueError(f"weights must have shape {features.shape[1:]}, got {weights.shape}")
    raise NotImplementedError("not written yet: logistic_fisher")


def pull_back(
    fisher: Float[np.ndarray, "dim dim"], jacobian: Float[np.ndarray, "dim other"]
) -> Float[np.ndarray, "other other"]:
    r"""Return the information about other parameters, equation (7).

    Parameters
    ----------
    fisher : ndarray
        The information about $\theta$.
    jacobian : ndarray
        The derivatives $\partial\theta_i / \partial\phi_j$, in row $i$ and column $j$. There may be fewer $\phi$ than
        $\theta$, or more.

    Returns
    -------
    ndarray
        The information about $\phi$.

    Raises
    ------
    ValueError
        If `fisher` is not a square matrix, or `jacobian` has another number of rows.

    Examples
    --------
    >>> pull_back(np.diag([0.25, 2.0]), np.diag([1.0, 0.5]))
    array([[0.25, 0.  ],
           [0.  , 0.5 ]])
    """
    # given: the checks
    _check_square(fisher, len(jacobian))
    _check_rank(2, jacobian=jacobian)
    raise NotImplementedError("not written yet: pull_back")


def gaussian_expectations(
    natural: Float[np.ndarray, " 2"],
) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, "2 2"]]:
    r"""Return the expectation parameters of a normal distribution, and the information about its natural ones: (9).

    Parameters
    ----------
    natural : ndarray
        The natural parameters $\eta = (\mu/\sigma^2, -1/(2\sigma^2))$; the second is negative.

    Returns
    -------
    means : ndarray
        The means $m$ of $x$ and of $x^2$.
    fisher : ndarray
        Their covariance for one observation, which is the derivative of `means` by `natural`.

    Raises
    ------
    ValueError
        If `natural` is not two finite numbers, the second negative.

    Examples
    --------
    >>> means, fisher = gaussian_expectations(np.array([3.0, -0.25]))
    >>> means, fisher
    (array([ 6., 38.]), array([[  2.,  24.],
           [ 24., 296.]]))
    """
    # given: the checks
    _check_finite(natural=natural)
    if natural.shape != (2,) or not natural[1] < 0:
        raise ValueError(f"natural must be two numbers, the second negative, got {natural}")
    raise NotImplementedError("not written yet: gaussian_expectations")


def natural_step(
    gradient: Float[np.ndarray, " dim"], fisher: Float[np.ndarray, "dim dim"], *, damping: float = 0.0
) -> Float[np.ndarray, " dim"]:
    r"""Return the step of natural gradient descent, equation (10).

    Parameters
    ----------
    gradient : ndarray
        The gradient of the loss.
    fisher : ndarray
        The Fisher information.
    damping : float
        The damping $\lambda$, in the units of `fisher`; 0 or more.

    Returns
    -------
    ndarray
        The step $d$, to be added to the parameters, in the dtype of the arguments.

    Raises
    ------
    ValueError
        If `damping` is negative or not finite, or `fisher` does not fit `gradient`.
    LinAlgError
        If `fisher` with the damping is not positive definite.

    Examples
    --------
    >>> natural_step(np.array([-0.75, -1.25]), np.diag([0.25, 2.0]))
    array([3.   , 0.625])
    >>> natural_step(np.array([-0.75, -1.25]), np.diag([0.25, 2.0]), damping=0.5)
    array([1. , 0.5])
    """
    # given: the checks
    _check_damping(damping)
    _check_square(fisher, len(gradient))
    raise NotImplementedError("not written yet: natural_step")


def minimize(
    fun: Objective,
    grad: Gradient,
    fisher: Information,
    start: ArrayLike,
    *,
    step_size: float = 1.0,
    damping: float = 0.0,
    tol: float = 1e-6,
    max_iter: int = 100,
    record_path: bool = False,
) -> OptimizeResult:
    r"""Minimise a loss by natural gradient descent: steps by (10), each multiplied by a step size.

    Parameters
    ----------
    fun, grad : callable
        The loss, such as a mean negative log-likelihood, and its gradient.
    fisher : callable
        Takes a point and returns the Fisher information there, on the scale of the loss: for a mean, that of one
        observation.
    start : array_like
        Where to begin; not changed.
    step_size : float
        What the steps are multiplied by; 1 for Fisher scoring.
    damping : float
        The damping $\lambda$.
    tol : float
        The walk ends when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        `message` is one of `optim/gradient_descent`'s `CONVERGED` (the only one of success), `DIVERGED` and
        `OUT_OF_STEPS`. `nfev` counts evaluations of `fun`, that at the start included.

    Raises
    ------
    ValueError
        If `start`, `step_size`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`,
        `damping` is negative or not finite, or `grad` or `fisher` returns the wrong shape, or `fisher` what is not
        finite.
    LinAlgError
        If the information with the damping is not positive definite somewhere on the way.

    Examples
    --------
    >>> features, labels = np.array([[1.0, 2.0], [1.0, 0.0], [1.0, -1.0], [1.0, 1.0]]), np.array([1.0, 0.0, 0.0, 0.0])
    >>> def fun(w):
    ...     return float(np.logaddexp(0, features @ w).mean() - labels @ features @ w / 4) + 0.05 * w @ w
    >>> def grad(w):
    ...     return (1 / (1 + np.exp(-features @ w)) - labels) @ features / 4 + 0.1 * w
    >>> result = minimize(fun, grad, lambda w: logistic_fisher(features, w) + 0.1 * np.eye(2), [0.0, 0.0])
    >>> result.x.round(4), result.success
    (array([-1.1396,  0.8976]), True)
    """
    # given: the checks
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    _check_damping(damping)
    grad, fisher = checked_gradient(grad), _checked_information(fisher)
    raise NotImplementedError("not written yet: minimize")


def _check_finite(**values: ArrayLike) -> None:  # given: argument checks
    for name, value in values.items():
        if not np.size(value) or not np.isfinite(value).all():
            raise ValueError(f"{name} must be finite and not empty, got {value}")


def _check_rank(rank: int, **arrays: np.ndarray) -> None:  # given: argument checks
    for name, array in arrays.items():
        if array.ndim != rank:
            raise ValueError(f"{name} must have {rank} axes, got shape {array.shape}")


def _check_weights(weights: np.ndarray | None, n_outcomes: int) -> None:  # given: argument checks
    if weights is None:
        return
    if weights.shape != (n_outcomes,):
        raise ValueError(f"weights must have shape {(n_outcomes,)}, got {weights.shape}")
    if not (weights >= 0).all() or not abs(weights.sum() - 1) < 1e-6:
        raise ValueError(f"weights must not be negative and add up to one, got {weights}")


def _check_square(fisher: np.ndarray, dim: int) -> None:  # given: argument checks
    if fisher.shape != (dim, dim):
        raise ValueError(f"fisher must have shape {(dim, dim)}, got {fisher.shape}")


def _check_damping(damping: float) -> None:  # given: argument checks
    if not 0 <= damping < np.inf:
        raise ValueError(f"damping must be non-negative and finite, got {damping}")


def _checked_information(fisher: Information) -> Information:  # given: argument checks
    def checked(x: Vector) -> np.ndarray:
        matrix = np.asarray(fisher(x), dtype=x.dtype)
        _check_square(matrix, len(x))
        if not np.isfinite(matrix).all():
            raise ValueError(f"fisher must be finite, got {matrix} at {x}")
        return matrix

    return checked
