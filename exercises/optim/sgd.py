r"""Stochastic gradients: minibatches, the noise floor of a constant step, and averages that get below it.

## Idea

The loss is a mean over samples, and so is its gradient. A few samples give a rough gradient for a fraction of the
price, and a hundred rough steps lead further than one exact one. But the roughness does not go away: near the minimum
the exact gradient vanishes and the noise does not, so that the walk jitters for ever at a *noise floor* which the step
size sets. Three ways lead below it: steps that shrink, averages over the walk, and drawing the samples so that each
comes once.

## Maths

The objective is a finite sum, $f(x) = \frac1n \sum_i f_i(x)$. With a batch $B_t$ of $b$ indices and step sizes $a_t$,

$$x_{t+1} = x_t - a_t\, \frac1b \sum_{i \in B_t} \nabla f_i(x_t) , \qquad t = 0, 1, 2, \dots \tag{1}$$

An *epoch* draws $n$ indices: independently (*with replacement*), or as a new permutation of all, cut into batches
(*reshuffling*). If $b$ does not divide $n$ the last batch of an epoch is short.

**The noise.** Either way the batch's gradient is the exact one in expectation. Let $C$ be the covariance of a single
$\nabla f_i$, $i$ uniform. The mean of $b$ independent ones has the covariance $C / b$. Of $b$ *different* ones, any two
have the covariance $-C / (n - 1)$, because all $n$ together do not vary at all. So the first batch of an epoch has

$$S = \frac Cb \quad\text{with replacement}, \qquad S = \frac Cb\, \frac{n - b}{n - 1} \quad\text{without}. \tag{2}$$

**The noise floor.** On a quadratic with Hessian $H$, minimum $x_*$ and independent noise of covariance $S$ the error
$e_t = x_t - x_*$ obeys $e_{t+1} = (I - aH)\, e_t - a\, \xi_t$. If $a$ is below 2 over the largest eigenvalue, the
covariance of $e$ settles at the $\Sigma$ that a step leaves as it is,

$$\Sigma = (I - aH)\, \Sigma\, (I - aH) + a^2 S , \tag{3}$$

a Lyapunov equation. With the eigenvectors $Q$ and eigenvalues $h$ of $H$, and $S' = Q^\top S Q$, it falls apart:

$$(Q^\top \Sigma Q)_{ij} = \frac{a\, S'_{ij}}{h_i + h_j - a h_i h_j} . \tag{4}$$

The loss stays above its minimum by $\frac12 \operatorname{tr}(H \Sigma)$, about $\frac a4 \operatorname{tr} S$ for
small $a$: half the step, half the floor, and twice as long a way to it. Far from a minimum, or when the $f_i$ have
different Hessians, $S$ depends on $x$, and (4) holds with the $S$ there to first order in $a$.

**Shrinking steps.** Let

$$a_t = \frac{a}{(1 + t)^p} . \tag{5}$$

Robbins and Monro [1] ask for

$$\sum_t a_t = \infty \qquad\text{and}\qquad \sum_t a_t^2 < \infty : \tag{6}$$

the first so that the walk can get anywhere, the second so that the noise adds up to something finite. For (5) these are
$p \le 1$ and $p > \frac12$.

**Averages over the walk** [2]. The jitter of a walk cancels in the mean of its points

$$\bar x_k = \bar x_{k-1} + \frac{x_k - \bar x_{k-1}}{k} , \tag{7}$$

from some step on, when the start is forgotten. Sum (1) on a quadratic: $e_{t+1} - e_t = -a (H e_t + \xi_t)$, so
$H \bar e_k = -\bar \xi_k + (e_0 - e_k) / (ak)$. The last term vanishes faster than the one before, whose covariance is
$S / k$. Hence the mean has the covariance $H^{-1} S H^{-1} / k$, whatever $a$ and however ill-conditioned $H$: no other
way of using $k$ noisy gradients does better.

An *exponential average* forgets by itself, with a decay $\beta$ near 1. From zero,

$$m_k = \beta m_{k-1} + (1 - \beta)\, x_k , \qquad \hat x_k = \frac{m_k}{1 - \beta^k} , \tag{8}$$

where the division makes the weights $(1 - \beta) \beta^{k-i}$ add up to 1.

**Reshuffling** [3]. In an epoch each sample pulls once, and the pulls of all of them add up to the exact gradient. What
is left is of the order of $a^2$ where independent draws leave $a$.

## Worked example

Three samples with gradients $1, 4, 7$ at some point: the exact one is 4, and $C = (9 + 0 + 9) / 3 = 6$. Batches of two
have $S = 3$ with replacement. Without, there are three pairs with the means $2.5, 4, 5.5$: the variance is
$(2.25 + 0 + 2.25) / 3 = 1.5$, which is $3 \cdot (3 - 2) / (3 - 1)$ by (2).

With $H = 2$, $a = 0.1$ and $S = 3$: $\Sigma = 0.3 / (4 - 0.4) = 0.0833$, and the loss stays at
$\frac12 \cdot 2 \cdot 0.0833$ above the minimum. A mean over 1000 steps has the variance
$\frac12 \cdot 3 \cdot \frac12 / 1000 = 0.00075$.

From (8) with $\beta = 0.9$, points 2 and 3: $m_1 = 0.2$, $\hat x_1 = 2$, $m_2 = 0.48$ and
$\hat x_2 = 0.48 / 0.19 = 2.526$.

## Plan

- `batches` returns the batches of one epoch, for (1).
- `step_at` returns (5), and `robbins_monro` which of the conditions (6) a power satisfies.
- `noise_covariance` takes all single gradients and returns (2). `stationary_covariance` takes $H$, $S$ and a step size
  and returns $\Sigma$ by (4).
- `running_mean` takes one step of (7), and `ema_step` one of (8).
- `minimize` walks by (1), and keeps the mean (7).

## Pitfalls

- The same batches in every epoch.
- The loss falls, and then stays, however many epochs are made.
- Some samples are never seen, or the last batch weighs as much as a full one although it is short.
- The average is worse than the last point: it still remembers the start.
- An exponential average that begins near zero.
- A step size tuned for a batch size, and then the batch size is changed.

## Cost

An epoch costs $n$ single gradients, as one step of gradient descent does. The averages take one more vector, and O(dim)
a step. In NumPy a step costs some 9 µs beside the gradient, and the calls of a small gradient as much again: with
batches of one an epoch takes some 50 times as long as in scikit-learn's compiled walk, with batches of 8 about 6 times,
and with batches of 32, which cost hardly more a step, 1.6 times.

## Go further

- *Experiment*: draw the loss of the last point and of the mean against the step size, at a fixed number of epochs.
  Which of them forgives a step that is too large, and which one that is too small?
- *Stretch*: double the batch size each time the loss stalls, instead of halving the step. By (2) and (4) both lower the
  floor alike; which takes fewer gradients, and which fewer steps?

## References

1. Robbins & Monro (1951), A stochastic approximation method, https://doi.org/10.1214/aoms/1177729586
2. Polyak & Juditsky (1992), Acceleration of stochastic approximation by averaging, https://doi.org/10.1137/0330046
3. Mishchenko, Khaled & Richtárik (2020), Random reshuffling: simple analysis with vast improvements,
   https://arxiv.org/abs/2006.05988
4. Bottou, Curtis & Nocedal (2018), Optimization methods for large-scale machine learning,
   https://arxiv.org/abs/1606.04838
5. Izmailov et al. (2018), Averaging weights leads to wider optima and better generalization,
   https://arxiv.org/abs/1803.05407
"""

# 8 parts to write. Test them with: pytest exercises/optim/sgd.py
# To be written without: torch, scipy.optimize, scipy.linalg, sklearn

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.optim._shared import Objective, OptimizeResult, Vector
from mlpath.optim.adaptive import bias_correction
from mlpath.optim.gradient_descent import DIVERGED, check_arguments

Indices = Int[np.ndarray, " batch"]
BatchGradient = Callable[[Vector, Indices], Vector]

FINISHED = "finished: all epochs were made"


@dataclass(frozen=True)
class SGDResult(OptimizeResult):
    """What a walk ended with.

    Attributes
    ----------
    mean : ndarray or None
        The mean of the points after the burn-in; the last point if there were none.
    """

    mean: Float[np.ndarray, " dim"] | None = None


@dataclass(frozen=True)
class EMAState:
    """The number of points averaged, and their raw average $m_k$ of (8)."""

    count: int
    average: Float[np.ndarray, "*shape"]


def batches(n_samples: int, batch_size: int, *, replace: bool, rng: np.random.Generator) -> list[Indices]:
    """Return the indices of the batches of one epoch, for equation (1).

    Parameters
    ----------
    n_samples : int
        How many samples there are, and how many indices an epoch draws.
    batch_size : int
        How many of them make a batch, at most all. What is left makes a last, short batch.
    replace : bool
        Whether each index is drawn independently of all others. If not, each comes once in an epoch.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    list of ndarray
        The batches in their order, each an array of integers from 0 to `n_samples - 1`.

    Raises
    ------
    ValueError
        If `batch_size` is below 1 or above `n_samples`.

    Examples
    --------
    >>> epoch = batches(7, 3, replace=False, rng=np.random.default_rng(0))
    >>> [len(batch) for batch in epoch], sorted(np.concatenate(epoch).tolist())
    ([3, 3, 1], [0, 1, 2, 3, 4, 5, 6])
    """
    # given: the check
    if not 1 <= batch_size <= n_samples:
        raise ValueError(f"batch_size must be from 1 to n_samples = {n_samples}, got {batch_size}")
    raise NotImplementedError("not written yet: batches")


def step_at(count: int, step_size: float, power: float) -> float:
    """Return the step size after so many steps, equation (5).

    Parameters
    ----------
    count : int
        How many steps have been made, $t$.
    step_size : float
        The first step size $a$.
    power : float
        The power $p$ at which it falls; 0 keeps it constant.

    Returns
    -------
    float
        The step size $a_t$.

    Examples
    --------
    >>> print(*(f"{step_at(t, 0.8, 0.5):.4f}" for t in (0, 3, 99)))
    0.8000 0.4000 0.0800
    """
    raise NotImplementedError("not written yet: step_at")


def robbins_monro(power: float) -> tuple[bool, bool]:
    """Return whether step sizes that fall at a power satisfy the conditions (6).

    Parameters
    ----------
    power : float
        The power $p$ of (5).

    Returns
    -------
    tuple of bool
        Whether the sum of the step sizes is infinite, and whether that of their squares is finite.

    Examples
    --------
    >>> robbins_monro(0.0), robbins_monro(0.75), robbins_monro(2.0)
    ((True, False), (True, True), (False, True))
    """
    raise NotImplementedError("not written yet: robbins_monro")


def noise_covariance(
    gradients: Float[np.ndarray, "n_samples dim"], batch_size: int, *, replace: bool
) -> Float[np.ndarray, "dim dim"]:
    """Return the covariance of the gradient of a batch, equation (2).

    Parameters
    ----------
    gradients : ndarray
        The gradient of each sample at the same point, at least two samples.
    batch_size : int
        How many of them make a batch.
    replace : bool
        Whether a batch may hold a sample more than once.

    Returns
    -------
    ndarray
        The covariance $S$.

    Raises
    ------
    ValueError
        If there are fewer than two samples, or `batch_size` is below 1 or, without replacement, above their number.

    Examples
    --------
    >>> gradients = np.array([[1.0], [4.0], [7.0]])
    >>> noise_covariance(gradients, 2, replace=True), noise_covariance(gradients, 2, replace=False)
    (array([[3.]]), array([[1.5]]))
    """
    # given: the checks
    n_samples = len(gradients)
    if n_samples < 2:
        raise ValueError(f"gradients must be of two samples or more, got {n_samples}")
    if not 1 <= batch_size <= (np.inf if replace else n_samples):
        raise ValueError(
            f"batch_size must be at least 1, and at most {n_samples} without replacement, got {batch_size}"
        )
    raise NotImplementedError("not written yet: noise_covariance")


def stationary_covariance(
    hessian: Float[np.ndarray, "dim dim"], noise: Float[np.ndarray, "dim dim"], step_size: float
) -> Float[np.ndarray, "dim dim"]:
    """Return the covariance at which a walk with constant steps settles on a quadratic, equation (4).

    Parameters
    ----------
    hessian : ndarray
        The second derivatives $H$, symmetric and positive definite.
    noise : ndarray
        The covariance $S$ of the gradients, symmetric.
    step_size : float
        The step size $a$.

    Returns
    -------
    ndarray
        The covariance of the points around the minimum.

    Raises
    ------
    ValueError
        If `hessian` is not positive definite, or `step_size` not between 0 and 2 over its largest eigenvalue.

    Examples
    --------
    >>> stationary_covariance(np.diag([2.0, 1.0]), np.array([[3.0, 1.0], [1.0, 2.0]]), 0.1).round(4)
    array([[0.0833, 0.0357],
           [0.0357, 0.1053]])
    """
    # given: the checks
    values, vectors = np.linalg.eigh(hessian)
    if not values[0] > 0:
        raise ValueError(f"hessian must be positive definite, its least eigenvalue is {values[0]}")
    if not 0 < step_size * values[-1] < 2:
        raise ValueError(
            f"step_size must be between 0 and {2 / values[-1]}, or the walk never settles; got {step_size}"
        )
    raise NotImplementedError("not written yet: stationary_covariance")


def running_mean(
    mean: Float[np.ndarray, "*shape"], count: int, x: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Take one more point into a mean, equation (7).

    Parameters
    ----------
    mean : ndarray
        The mean so far; of no account while `count` is 0. It is not changed.
    count : int
        How many points it is the mean of.
    x : ndarray
        The new point.

    Returns
    -------
    ndarray
        The mean of one point more, a new array.

    Examples
    --------
    >>> running_mean(np.array([4.0, 1.0]), 2, np.array([7.0, -2.0]))
    array([5., 0.])
    """
    raise NotImplementedError("not written yet: running_mean")


def ema_step(
    state: EMAState, x: Float[np.ndarray, "*shape"], decay: float
) -> tuple[EMAState, Float[np.ndarray, "*shape"]]:
    r"""Take one more point into an exponential average, equation (8).

    Parameters
    ----------
    state : EMAState
        The state so far, at first with a count of 0 and an average of zeros. It is not changed.
    x : ndarray
        The new point.
    decay : float
        The decay $\beta$, at least 0 and below 1.

    Returns
    -------
    tuple of EMAState and ndarray
        The next state, whose average is raw, and the corrected average.

    Raises
    ------
    ValueError
        If `decay` is not in [0, 1).

    Examples
    --------
    >>> state, corrected = ema_step(EMAState(1, np.array([0.2])), np.array([3.0]), 0.9)
    >>> state.average.round(4), corrected.round(4)
    (array([0.48]), array([2.5263]))
    """
    # given: the check
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be at least 0 and below 1, got {decay}")
    raise NotImplementedError("not written yet: ema_step")


def minimize(
    fun: Objective,
    grad: BatchGradient,
    start: ArrayLike,
    n_samples: int,
    *,
    rng: np.random.Generator,
    batch_size: int = 1,
    step_size: float = 1e-2,
    power: float = 0.0,
    replace: bool = False,
    epochs: int = 10,
    burn_in: int = 0,
    record_path: bool = False,
) -> SGDResult:
    """Walk along gradients of batches, by equation (1).

    Parameters
    ----------
    fun : callable
        The objective. It is called once, at the end.
    grad : callable
        Takes a point and an array of indices, and returns the mean of these samples' gradients.
    start : array_like
        Where to begin; not changed.
    n_samples : int
        How many samples there are.
    rng : numpy.random.Generator
        Where the draws come from.
    batch_size : int
        How many samples make a batch. The last one of an epoch may be short; it makes a step like the others.
    step_size, power : float
        The step sizes (5). Their count goes on from epoch to epoch.
    replace : bool
        Whether to draw with replacement; if not, each epoch is shuffled anew.
    epochs : int
        How many epochs to make.
    burn_in : int
        After how many steps the mean (7) begins: it is of the points after later steps, without the start.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    SGDResult
        With `x`, the last point; `fun`, the objective there; `mean`; `nit`, the number of steps; `nfev`, which is 1;
        `path`, with `nit + 1` rows, if asked for; `success` and `message`. There is no test of convergence: success
        means that all epochs were made. A gradient that is not finite ends the walk before its step is made, without
        success.

    Raises
    ------
    ValueError
        If `start` is not a finite vector, `step_size` not positive and finite, `power` or `burn_in` negative, `epochs`
        below 1, `batch_size` not from 1 to `n_samples`, or `grad` returns another shape than that of the point.

    Examples
    --------
    >>> points = np.array([[1.0], [2.0], [6.0]])
    >>> def fun(x):
    ...     return float(((x - points) ** 2).mean() / 2)
    >>> def grad(x, indices):
    ...     return x - points[indices].mean(axis=0)
    >>> result = minimize(fun, grad, [0.0], 3, rng=np.random.default_rng(0), power=1.0, step_size=1.0, epochs=1)
    >>> result.x, result.nit, result.message
    (array([3.]), 3, 'finished: all epochs were made')
    """
    # given: the checks
    x, grad = _check_run(start, step_size, epochs, power, burn_in), _checked(grad)
    raise NotImplementedError("not written yet: minimize")


def _check_run(start: ArrayLike, step_size: float, epochs: int, power: float, burn_in: int) -> Vector:  # given
    """Refuse what no walk can work with, and return the start as a new array of floats."""
    x = check_arguments(start, step_size=step_size, tol=0.0, max_iter=1)
    if not epochs >= 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    for name, value in (("power", power), ("burn_in", burn_in)):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} must be non-negative and finite, got {value}")
    return x


def _checked(grad: BatchGradient) -> BatchGradient:  # given
    """Return the gradient in the dtype of the point, refusing a shape that would broadcast silently."""

    def checked(x: Vector, indices: Indices) -> Vector:
        gradient = np.asarray(grad(x, indices), dtype=x.dtype)
        if gradient.shape != x.shape:
            raise ValueError(f"grad must return shape {x.shape}, got {gradient.shape}")
        return gradient

    return checked
