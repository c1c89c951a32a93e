r"""CMA-ES: search by draws from a normal distribution that learns the shape of the landscape.

## Idea

Sometimes there are no derivatives, and the values are rugged or only good for comparison. Then draw some points around
the present best guess, sort them by their values, and move the guess to a weighted mean of the better half. That alone
is slow in narrow valleys. CMA-ES also learns from the draws *how* to draw: steps that led to good points make such
steps more probable, steps to bad points less. A path of the last moves tells whether steps are too long (they cancel)
or too short (they add up). In the end draws are distributed as the contours of the function are shaped, and the method
is as fast on a narrow valley as on a round bowl. It sees values only by their order, so any function of the same order
is the same to it.

## Maths

**Draws.** In $n$ dimensions there are a mean $m$, a step size $\sigma$ and a covariance
$C = B \operatorname{diag}(d^2) B^\top$. Of standard normal numbers $z_k$

$$y_k = B \operatorname{diag}(d)\, z_k \sim N(0, C), \qquad x_k = m + \sigma y_k , \qquad k = 1, \dots, \lambda . \tag{1}$$

Sort them so that $f(x_{1:\lambda}) \le f(x_{2:\lambda}) \le \dots$

**Preferences** fall with the logarithm of the rank, from positive to negative:

$$w'_i = \ln \tfrac{\lambda + 1}2 - \ln i, \qquad i = 1, \dots, \lambda, \qquad \mu = \lfloor \lambda / 2 \rfloor . \tag{2}$$

How many draws count effectively is told by

$$\mu_w = \frac{\bigl(\sum_{i \le \mu} w'_i\bigr)^2}{\sum_{i \le \mu} w_i'^2}, \qquad
\mu_w^- = \frac{\bigl(\sum_{i > \mu} w'_i\bigr)^2}{\sum_{i > \mu} w_i'^2} . \tag{3}$$

**Rates** [1, table 1]: for the two paths, the damping of the step size, and the two updates of $C$

$$c_\sigma = \frac{\mu_w + 2}{n + \mu_w + 5}, \qquad
d_\sigma = 1 + 2 \max\Bigl(0, \sqrt{\tfrac{\mu_w - 1}{n + 1}} - 1\Bigr) + c_\sigma, \qquad
c_c = \frac{4 + \mu_w / n}{n + 4 + 2 \mu_w / n} , \tag{4}$$

$$c_1 = \frac2{(n + 1.3)^2 + \mu_w}, \qquad
c_\mu = \min\Bigl(1 - c_1,\ \frac{2\, (\tfrac14 + \mu_w + 1/\mu_w - 2)}{(n + 2)^2 + \mu_w}\Bigr) . \tag{5}$$

**Weights.** The positive preferences are divided by their sum. The negative ones are scaled so that the sum of their
sizes is the least of three numbers, of which the last keeps $C$ positive definite:

$$\min\Bigl(1 + \frac{c_1}{c_\mu},\quad 1 + \frac{2 \mu_w^-}{\mu_w + 2},\quad \frac{1 - c_1 - c_\mu}{n\, c_\mu}\Bigr) .
\tag{6}$$

Without *active* adaptation they are 0.

**The move** of the mean uses the positive ones:

$$\langle y \rangle = \sum_{i \le \mu} w_i\, y_{i:\lambda}, \qquad m \leftarrow m + \sigma \langle y \rangle . \tag{7}$$

**Two paths** remember moves, each with an exponentially fading memory. For the step size they are made round,

$$p_\sigma \leftarrow (1 - c_\sigma)\, p_\sigma + \sqrt{c_\sigma (2 - c_\sigma) \mu_w}\; C^{-1/2} \langle y \rangle, \qquad
C^{-1/2} = B \operatorname{diag}(1/d)\, B^\top . \tag{8}$$

The root is such that $p_\sigma$ stays standard normal if selection is at random: $\sqrt{\mu_w} \langle y \rangle$ has
the variance of one draw, and $(1 - c)^2 + c (2 - c) = 1$. The other path stalls while the first is very long,

$$h = 1 \text{ if } \frac{\|p_\sigma\|}{\sqrt{1 - (1 - c_\sigma)^{2 g}}} < \Bigl(1.4 + \frac2{n + 1}\Bigr) \chi_n
\text{ else } 0, \tag{9}$$

$$p_c \leftarrow (1 - c_c)\, p_c + h \sqrt{c_c (2 - c_c) \mu_w}\; \langle y \rangle , \tag{10}$$

with the new $p_\sigma$ in the generation $g = 1, 2, \dots$ and the expected length of a standard normal vector

$$\chi_n = \sqrt n \Bigl(1 - \frac1{4 n} + \frac1{21 n^2}\Bigr) . \tag{11}$$

**Step size.** A path longer than at random says that moves agree:

$$\sigma \leftarrow \sigma \exp\Bigl(\frac{c_\sigma}{d_\sigma} \Bigl(\frac{\|p_\sigma\|}{\chi_n} - 1\Bigr)\Bigr) . \tag{12}$$

**Covariance.** From the path with rank one, from all draws with rank $\mu$; the rest is memory:

$$C \leftarrow \Bigl(1 - c_1 \bigl(1 - (1 - h)\, c_c (2 - c_c)\bigr) - c_\mu \sum_i w_i\Bigr) C + c_1\, p_c p_c^\top +
c_\mu \sum_{i=1}^\lambda w_i^\circ\, y_{i:\lambda} y_{i:\lambda}^\top , \tag{13}$$

with $w_i^\circ = w_i$ for weights that are not negative, and $w_i^\circ = w_i\, n / \|C^{-1/2} y_{i:\lambda}\|^2$ for the
negative ones, lest long bad steps take away more than there is.

## Worked example

$n = 2$, $\lambda = 4$, without active adaptation. (2): $w' = \ln 2.5 - \ln i = 0.9163, 0.2231, -0.1823, -0.4700$.
$\mu_w = 1.1394^2/0.8894 = 1.4597$, weights $0.8042, 0.1958$. (4), (5): $c_\sigma = 3.4597/8.4597 = 0.4090$,
$d_\sigma = 1.4090$, $c_c = 4.7299/7.4597 = 0.6341$, $c_1 = 2/12.3497 = 0.1619$,
$c_\mu = 2 \cdot 0.3948/17.4597 = 0.0452$. $\chi_2 = 1.4142 \cdot 0.8869 = 1.2543$.

Let $C = I$, $\sigma = 0.5$, $m = (0, 0)$, paths 0, and the best two steps be $y = (1, 0)$ and $(0, -2)$.

- (7): $\langle y \rangle = (0.8042, -0.3916)$ and $m = (0.4021, -0.1958)$.
- (8): the root is $\sqrt{0.4090 \cdot 1.5910 \cdot 1.4597} = 0.9746$, $p_\sigma = (0.7838, -0.3816)$ of length $0.8718$.
- (9): $0.8718 / 0.8067 = 1.0807 < 2.0667 \cdot 1.2543$: $h = 1$. (10): the root is $1.1243$,
  $p_c = (0.9041, -0.4403)$.
- (12): $\sigma = 0.5 \exp(0.2903 \cdot (0.6950 - 1)) = 0.4576$.
- (13): $0.7929\, I + 0.1619\, p_c p_c^\top + 0.0452 \operatorname{diag}(0.8042, 0.7832)
  = \begin{pmatrix} 0.9616 & -0.0645 \\ -0.0645 & 0.8597 \end{pmatrix}$.

## Plan

- `preferences` takes $\lambda$ and returns (2).
- `strategy` takes $n$ and $\lambda$ and returns a `Strategy`: all numbers of (3) to (6) and (11).
- `sample` takes a `State` and standard normal numbers and returns points, by (1).
- `update_paths` takes a state, its strategy and $\langle y \rangle$ and returns both paths and $h$, by (8) to (10).
- `adapt_step_size` takes $\sigma$, the new $p_\sigma$ and the strategy and returns (12).
- `adapt_covariance` takes a state, its strategy, the sorted steps, the new $p_c$ and $h$ and returns (13).
- `advance` takes a state, its strategy, points and their values and returns the next state.
- `minimize` draws, evaluates and stops.

Given: `State` has a method `whiten` that multiplies rows by $C^{-1/2}$, and `begin` makes the first one; `_reason` says
why to stop.

## Pitfalls

- The step size grows without end, or vanishes while the mean still moves.
- It works on a round bowl and creeps in a valley.
- After some hundred generations $C$ has a negative eigenvalue.
- It finds the nearest of many minima: more draws a generation see further.
- It reports converged in a place where the function is flat.

## Cost

$\lambda$ evaluations a generation, for which O($n^2$) numbers are learnt: some $10 n^2$ evaluations for the shape, then
linear convergence. Besides, O($\lambda n^2$) for the update and O($n^3$) for eigenvectors in each generation. (The
latter may be done only now and then; for up to some 50 variables it does not matter.) Medians of evaluations over 20
seeds, until a value is below $10^{-9}$, beside the package `cma`:

| function | start, first step size | here | `cma` | ratio |
|---|---|---|---|---|
| sphere, $n = 10$ | ones, 0.5 | 1490 | 1480 | 1.01 |
| ellipsoid of condition $10^6$, $n = 10$ | ones, 0.5 | 4100 | 4095 | 1.00 |
| Rosenbrock, $n = 8$ | zeros, 0.3 | 3705 | 3735 | 0.99 |
| Rastrigin, $n = 5$, 100 draws | all 2.5, 2 | 6200 (12 of 20 runs) | 6500 (11 of 20) | 0.95 |

## Go further

- *Experiment*: on Rastrigin's function count how often the best of all minima is found, for $\lambda$ of 10, 20, 40,
  80. Restarting with twice the draws each time is a good method for all seasons [3].
- *Stretch*: keep only the diagonal of $C$, with rates $(n + 2)/3$ times as large [4]: linear cost. On which functions
  is it faster?

## References

1. Hansen (2016), The CMA evolution strategy: a tutorial, https://arxiv.org/abs/1604.00772
2. Hansen & Ostermeier (2001), Completely derandomized self-adaptation in evolution strategies,
   https://doi.org/10.1162/106365601750190398
3. Auger & Hansen (2005), A restart CMA evolution strategy with increasing population size,
   https://doi.org/10.1109/CEC.2005.1554902
4. Ros & Hansen (2008), A simple modification in CMA-ES achieving linear time and space complexity,
   https://doi.org/10.1007/978-3-540-87700-4_30
"""

# 8 parts to write. Test them with: pytest exercises/optim/cma_es.py
# To be written without: cma, scipy.optimize

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Objective, OptimizeResult
from mlpath.optim.gradient_descent import check_arguments

CONVERGED = "converged: no coordinate is drawn with a standard deviation above tol"
TARGET = "converged: a value is at most target"
FLAT = "stopped: all values of a generation were equal"
ILL_CONDITIONED = "stopped: the covariance has a condition number above 1e14"
DIVERGED = "diverged: the draws are 1e30 times as wide as at the start, or no value is finite"
OUT_OF_STEPS = "stopped: max_iter generations were made"


@dataclass(frozen=True)
class Strategy:
    r"""The numbers that stay the same through a run.

    Attributes
    ----------
    weights : ndarray
        The weights $w_i$ by rank, positive ones first, then negative ones or zeros.
    n_parents : int
        The number $\mu$ of positive weights.
    effective : float
        The $\mu_w$ of (3).
    rate_sigma, damping : float
        The $c_\sigma$ and $d_\sigma$ of (4).
    rate_path : float
        The $c_c$ of (4).
    rate_one, rate_mu : float
        The $c_1$ and $c_\mu$ of (5).
    expected_norm : float
        The $\chi_n$ of (11).
    """

    weights: Float[np.ndarray, " n_draws"]
    n_parents: int
    effective: float
    rate_sigma: float
    damping: float
    rate_path: float
    rate_one: float
    rate_mu: float
    expected_norm: float


@dataclass(frozen=True)
class State:
    r"""The distribution, and what it remembers.

    Attributes
    ----------
    mean : ndarray
        The mean $m$.
    sigma : float
        The step size $\sigma$.
    covariance : ndarray
        The covariance $C$, positive definite.
    path_sigma, path_c : ndarray
        The paths $p_\sigma$ and $p_c$.
    generation : int
        The number of generations made.
    axes : ndarray
        The eigenvectors $B$ of $C$, in columns.
    lengths : ndarray
        The roots $d$ of its eigenvalues.

    Examples
    --------
    >>> begin(np.zeros(2), 0.5, np.diag([4.0, 9.0])).whiten(np.array([1.0, 6.0]))
    array([0.5, 2. ])
    """

    mean: Float[np.ndarray, " dim"]
    sigma: float
    covariance: Float[np.ndarray, "dim dim"]
    path_sigma: Float[np.ndarray, " dim"]
    path_c: Float[np.ndarray, " dim"]
    generation: int
    axes: Float[np.ndarray, "dim dim"]
    lengths: Float[np.ndarray, " dim"]

    def whiten(self, steps: Float[np.ndarray, "*n dim"]) -> Float[np.ndarray, "*n dim"]:  # given
        r"""Return rows (or a vector) multiplied by $C^{-1/2}$.

        Parameters
        ----------
        steps : ndarray
            Steps $y$.

        Returns
        -------
        ndarray
            As many, standard normal if `steps` have the covariance $C$.
        """
        return (steps @ self.axes / self.lengths) @ self.axes.T


@dataclass(frozen=True)
class CMAResult(OptimizeResult):
    """What a run ended with: `x` is the best point evaluated; `nit` counts generations; the path is that of the mean.

    Attributes
    ----------
    state : State or None
        The last state.
    """

    state: State | None = field(default=None)


def begin(  # given
    mean: Float[np.ndarray, " dim"], sigma: float, covariance: Float[np.ndarray, "dim dim"] | None = None
) -> State:
    """Return a state with paths of zero.

    Parameters
    ----------
    mean : ndarray
        The mean.
    sigma : float
        The step size.
    covariance : ndarray, optional
        The covariance; the identity if not given.

    Returns
    -------
    State
        The state, of generation 0.

    Examples
    --------
    >>> begin(np.array([1.0, 2.0]), 0.5, np.diag([9.0, 4.0])).lengths
    array([2., 3.])
    """
    covariance = np.eye(len(mean)) if covariance is None else covariance
    return State(mean, sigma, covariance, np.zeros(len(mean)), np.zeros(len(mean)), 0, *_eigen(covariance))


def preferences(n_draws: int) -> Float[np.ndarray, " n_draws"]:
    r"""Return the preferences by rank, equation (2).

    Parameters
    ----------
    n_draws : int
        The number $\lambda$ of draws in a generation, at least 4.

    Returns
    -------
    ndarray
        The $w'_i$, falling from positive to negative.

    Raises
    ------
    ValueError
        If `n_draws` is below 4.

    Examples
    --------
    >>> preferences(4).round(4)
    array([ 0.9163,  0.2231, -0.1823, -0.47  ])
    """
    # given: the check
    if n_draws < 4:
        raise ValueError(f"n_draws must be at least 4, got {n_draws}")
    raise NotImplementedError("not written yet: preferences")


def strategy(dim: int, n_draws: int, *, active: bool = True) -> Strategy:
    """Return the numbers that stay the same through a run, equations (3) to (6) and (11).

    Parameters
    ----------
    dim : int
        The number of variables, at least 1.
    n_draws : int
        The number of draws in a generation, at least 4.
    active : bool
        Whether the worse half of the draws gets negative weights, by (6), or 0.

    Returns
    -------
    Strategy
        The numbers.

    Raises
    ------
    ValueError
        If `dim` is below 1 or `n_draws` below 4.

    Examples
    --------
    >>> constants = strategy(2, 4, active=False)
    >>> constants.weights.round(4), round(constants.rate_one, 4), round(constants.rate_mu, 4)
    (array([0.8042, 0.1958, 0.    , 0.    ]), 0.1619, 0.0452)
    """
    # given: the check
    if dim < 1:
        raise ValueError(f"dim must be at least 1, got {dim}")
    raise NotImplementedError("not written yet: strategy")


def sample(state: State, normals: Float[np.ndarray, "n_draws dim"]) -> Float[np.ndarray, "n_draws dim"]:
    """Return points of the distribution, equation (1).

    Parameters
    ----------
    state : State
        The distribution.
    normals : ndarray
        Standard normal numbers, a row for each point.

    Returns
    -------
    ndarray
        The points, a row each.

    Examples
    --------
    >>> state = begin(np.array([1.0, 2.0]), 0.5, np.diag([4.0, 9.0]))
    >>> sample(state, np.array([[1.0, -1.0]]))
    array([[2. , 0.5]])
    """
    raise NotImplementedError("not written yet: sample")


def update_paths(
    state: State, constants: Strategy, move: Float[np.ndarray, " dim"]
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"], bool]:
    r"""Return the next paths, equations (8) to (10).

    Parameters
    ----------
    state : State
        The state before the generation.
    constants : Strategy
        Its strategy.
    move : ndarray
        The mean step $\langle y \rangle$ of (7).

    Returns
    -------
    path_sigma : ndarray
        The next $p_\sigma$.
    path_c : ndarray
        The next $p_c$.
    moving : bool
        The $h$ of (9): whether $p_c$ was moved.

    Examples
    --------
    >>> state = begin(np.zeros(2), 0.5)
    >>> path_sigma, path_c, moving = update_paths(state, strategy(2, 4), np.array([0.8042, -0.3916]))
    >>> path_sigma.round(3), path_c.round(3), moving
    (array([ 0.784, -0.382]), array([ 0.904, -0.44 ]), True)
    """
    raise NotImplementedError("not written yet: update_paths")


def adapt_step_size(sigma: float, path_sigma: Float[np.ndarray, " dim"], constants: Strategy) -> float:
    r"""Return the next step size, equation (12).

    Parameters
    ----------
    sigma : float
        The step size.
    path_sigma : ndarray
        The next path $p_\sigma$.
    constants : Strategy
        The strategy.

    Returns
    -------
    float
        The next step size.

    Examples
    --------
    >>> print(f"{adapt_step_size(0.5, np.array([0.7838, -0.3816]), strategy(2, 4)):.4f}")
    0.4576
    """
    raise NotImplementedError("not written yet: adapt_step_size")


def adapt_covariance(
    state: State,
    constants: Strategy,
    steps: Float[np.ndarray, "n_draws dim"],
    path_c: Float[np.ndarray, " dim"],
    moving: bool,
) -> Float[np.ndarray, "dim dim"]:
    r"""Return the next covariance, equation (13).

    Parameters
    ----------
    state : State
        The state before the generation.
    constants : Strategy
        Its strategy.
    steps : ndarray
        The steps $y_{i:\lambda}$, best first.
    path_c : ndarray
        The next path $p_c$.
    moving : bool
        The $h$ of (9).

    Returns
    -------
    ndarray
        The next covariance, symmetric.

    Examples
    --------
    >>> steps = np.array([[1.0, 0.0], [0.0, -2.0], [3.0, 3.0], [2.0, 9.0]])
    >>> constants = strategy(2, 4, active=False)
    >>> adapt_covariance(begin(np.zeros(2), 0.5), constants, steps, np.array([0.9041, -0.4403]), True).round(3)
    array([[ 0.962, -0.064],
           [-0.064,  0.86 ]])
    """
    raise NotImplementedError("not written yet: adapt_covariance")


def advance(
    state: State, constants: Strategy, points: Float[np.ndarray, "n_draws dim"], values: Float[np.ndarray, " n_draws"]
) -> State:
    """Return the state after a generation, equations (7) to (13).

    Parameters
    ----------
    state : State
        The state before it. It is not changed.
    constants : Strategy
        Its strategy.
    points : ndarray
        The points that were drawn, a row each.
    values : ndarray
        The objective there. Only their order counts; NaN ranks last, and of equal values the first is the better.

    Returns
    -------
    State
        The next state.

    Examples
    --------
    >>> points = np.array([[0.5, 0.0], [0.0, -1.0], [1.5, 1.5], [1.0, 4.5]])
    >>> state = advance(begin(np.zeros(2), 0.5), strategy(2, 4), points, np.array([1.0, 2.0, 3.0, 4.0]))
    >>> state.mean.round(3), round(state.sigma, 3)
    (array([ 0.402, -0.196]), 0.458)
    """
    raise NotImplementedError("not written yet: advance")


def minimize(
    fun: Objective,
    start: ArrayLike,
    sigma: float,
    *,
    rng: np.random.Generator,
    n_draws: int | None = None,
    active: bool = True,
    target: float = -np.inf,
    tol: float = 1e-8,
    max_iter: int = 1000,
    record_path: bool = False,
) -> CMAResult:
    r"""Minimise a function by CMA-ES.

    Parameters
    ----------
    fun : callable
        The objective. It may return NaN or infinity where it is not defined.
    start : array_like
        The first mean; not changed.
    sigma : float
        The first step size: about a third of the distance within which the minimum is expected.
    rng : numpy.random.Generator
        Where draws come from: `n_draws` times dim standard normal numbers a generation.
    n_draws : int, optional
        The number of draws in a generation, at least 4; $4 + \lfloor 3 \ln n \rfloor$ if not given.
    active : bool
        Whether to use negative weights.
    target : float
        The run ends when a value is no larger.
    tol : float
        The run ends when the largest standard deviation of a coordinate, $\sigma \sqrt{C_{ii}}$, is no larger.
    max_iter : int
        The largest number of generations.
    record_path : bool
        Whether to keep the means.

    Returns
    -------
    CMAResult
        `success` is true for the messages `TARGET` and `CONVERGED`. The others are `FLAT`, `ILL_CONDITIONED`,
        `DIVERGED` and `OUT_OF_STEPS`. If no value was finite, `x` is the start and `fun` infinite.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by `optim/gradient_descent`'s `check_arguments`, `sigma` is not
        positive and finite, `n_draws` below 4, or `target` NaN.

    Examples
    --------
    >>> result = minimize(lambda x: float(x @ x), [3.0, 1.0], 1.0, rng=np.random.default_rng(0))
    >>> bool(abs(result.x).max() < 1e-6), result.success
    (True, True)
    """
    # given: the checks
    x, n_draws = _checked(start, sigma, n_draws, target, tol, max_iter)
    raise NotImplementedError("not written yet: minimize")


def _eigen(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given
    """Return eigenvectors and the roots of eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors, np.sqrt(np.maximum(values, np.finfo(float).tiny))


def _reason(  # given
    state: State, values: np.ndarray, best: float, sigma: float, target: float, tol: float
) -> str | None:
    """Return why to stop after a generation with such values, or None."""
    if best <= target:
        return TARGET
    if not (np.isfinite(values).any() and state.sigma * state.lengths[-1] < 1e30 * sigma):
        return DIVERGED
    if state.sigma * float(np.diag(state.covariance).max()) ** 0.5 <= tol:
        return CONVERGED
    if state.lengths[-1] > 1e7 * state.lengths[0]:
        return ILL_CONDITIONED
    return FLAT if np.ptp(values) == 0 else None


def _checked(  # given: argument checks
    start: ArrayLike, sigma: float, n_draws: int | None, target: float, tol: float, max_iter: int
) -> tuple[np.ndarray, int]:
    """Return the start in float64 and the number of draws, or raise a ValueError."""
    if not 0 < sigma < np.inf:
        raise ValueError(f"sigma must be positive and finite, got {sigma}")
    if np.isnan(target):
        raise ValueError(f"target must be a number, got {target}")
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)
    n_draws = 4 + int(3 * np.log(len(x))) if n_draws is None else n_draws
    if n_draws < 4:
        raise ValueError(f"n_draws must be at least 4, got {n_draws}")
    return x, n_draws
