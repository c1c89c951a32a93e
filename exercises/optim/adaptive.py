r"""Adaptive steps: a step size of its own for each coordinate, from AdaGrad to AMSGrad.

## Idea

One step size must suit all coordinates, and no two coordinates have gradients of the same size: a rare word's weight
sees a gradient once in a thousand steps, a bias at every one. So keep, for each coordinate, a record of how large its
gradients have been, and divide by it. The five rules here differ in how they keep the record: AdaGrad adds up for
ever, RMSprop forgets, Adadelta also mends the units, Adam averages the gradient as well and corrects both averages
for their start, and AMSGrad never lets the divisor shrink.

## Maths

All operations are coordinate by coordinate. A rule turns a gradient $g_t$ and its state into an update $u_t$, which
is *added* to the parameters:

$$x_t = x_{t-1} + u_t . \tag{1}$$

**AdaGrad** [1] divides by the root of all squares so far, with a step size $a$ and a small $\varepsilon$ that guards
the division, outside the root:

$$s_t = s_{t-1} + g_t^2 , \qquad u_t = -a\, \frac{g_t}{\sqrt{s_t} + \varepsilon}. \tag{2}$$

Multiply a coordinate's gradients by 1000, and its updates stay the same (but for $\varepsilon$). With gradients of
constant size $u_t$ shrinks like $1/\sqrt t$: good for convex problems with noise, and in the end too slow for a long
training.

**RMSprop** [2] replaces the sum by an average that forgets, with a decay $\beta$ near 1:

$$v_t = \beta v_{t-1} + (1 - \beta) g_t^2 , \qquad u_t = -a\, \frac{g_t}{\sqrt{v_t} + \varepsilon}. \tag{3}$$

**Adadelta** [3] observes that in (3) the units of the gradient cancel, so that $u_t$ does not have the units of $x$
unless $a$ has. It puts them back with a second average, that of its own moves $d_t$. Both roots hold an $\varepsilon$,
*inside*, without which no move would ever begin:

$$d_t = \frac{\sqrt{w_{t-1} + \varepsilon}}{\sqrt{v_t + \varepsilon}}\, g_t , \qquad
w_t = \beta w_{t-1} + (1 - \beta) d_t^2 , \qquad u_t = -a\, d_t , \tag{4}$$

with $v_t$ as in (3), and $a = 1$ in the paper. Note that $w$ averages the moves before $a$ scales them.

**The bias of an average that starts at zero.** Unroll $m_t = \beta m_{t-1} + (1 - \beta) g_t$ from $m_0 = 0$:

$$m_t = (1 - \beta) \sum_{i=1}^{t} \beta^{t-i} g_i . \tag{5}$$

The weights add up to $1 - \beta^t$, not to 1. If all gradients were equal to $g$, then $m_t = (1 - \beta^t) g$; with
random gradients of one distribution the same holds of the expectations. So the average is made honest by

$$\hat m_t = \frac{m_t}{1 - \beta^t}. \tag{6}$$

For $\beta = 0.999$ this is a factor of 1000 in the first step, and still 1.6 after a thousand.

**Adam** [4] takes averages of both gradient and square, with decays $\beta_1$ and $\beta_2$, and corrects both by (6):

$$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t , \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 , \qquad
u_t = -a\, \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}. \tag{7}$$

In the first step $\hat m_1 = g_1$ and $\hat v_1 = g_1^2$: each coordinate moves by $a$ against the sign of its
gradient, however large that is.

**AMSGrad** [5]. In (7) one large gradient is soon forgotten, and the many small ones that contradict it win: there are
convex problems on which Adam ends at the worst point. A divisor that never shrinks repairs this:

$$r_t = \max(r_{t-1}, v_t), \qquad u_t = -a\, \frac{\hat m_t}{\sqrt{r_t / (1 - \beta_2^t)} + \varepsilon}. \tag{8}$$

The paper has no bias correction; (8) is what PyTorch computes. The maximum is of the averages as they are, before the
correction: a corrected maximum would keep the large factor of the first steps for ever.

## Worked example

One coordinate with the gradients 3, then 4; $a = 1$, and $\varepsilon$ too small to be seen.

| | state | update |
|---|---|---|
| AdaGrad | $s = 9$, then $25$ | $-3/3 = -1$, then $-4/5 = -0.8$ |
| RMSprop, $\beta = \frac34$ | $v = 2.25$, then $5.6875$ | $-3/1.5 = -2$, then $-4/2.385 = -1.677$ |
| Adam, $\beta_1 = \frac12$, $\beta_2 = \frac34$ | $m = 1.5$, then $2.75$; $v$ as above | see below |

Adam's corrected averages are $1.5 / 0.5 = 3$ and $2.25 / 0.25 = 9$: an update of $-3/\sqrt9 = -1$. Then
$2.75 / 0.75 = 3.667$ and $5.6875 / 0.4375 = 13$: an update of $-3.667/3.606 = -1.017$.

Let the third gradient be 0. Then $m = 1.375$, corrected 1.571, and $v = 4.266$. Adam divides by
$\sqrt{4.266/0.5781} = 2.716$: an update of $-0.579$. AMSGrad keeps $r = 5.6875$, divides by
$\sqrt{5.6875/0.5781} = 3.137$, and moves by $-0.501$.

Adadelta with $\beta = \frac34$ and, for round numbers, an enormous $\varepsilon = 4$:
$d_1 = 3 \cdot \sqrt4/\sqrt{6.25} = 2.4$, and $w_1 = 0.25 \cdot 5.76 = 1.44$.

## Plan

A state is a frozen record of arrays shaped like the parameters; `at_rest` (given) makes the one before the first step.

- `adagrad`, `rmsprop`, `adadelta` take a state and a gradient, and return the next state and the update, by (2), (3),
  (4).
- `bias_correction` takes an average, its decay and the number of steps averaged, and returns (6).
- `adam` and `amsgrad` are rules too, by (7) and (8); their states count the steps.
- `minimize` applies any such rule by (1) until a gradient is small enough.

## Pitfalls

- The loss rises from the first step on.
- Hardly any movement during the first hundred steps, or far too much.
- NaN as soon as a gradient is exactly zero.
- It agrees with PyTorch for ordinary gradients and not for tiny ones.
- It agrees in the first step and in no other.
- The state of an earlier step changes after the fact.

## Cost

A dozen passes over the arrays, each O(size), and as many state arrays as the rule has averages: one for AdaGrad and
RMSprop, two for Adadelta and Adam, three for AMSGrad. For large arrays it is all memory traffic: a pure rule allocates
what PyTorch overwrites in place, and a fused kernel reads and writes everything once, which makes it up to five times as
fast at a million numbers.

## Go further

- *Experiment*: let $g_t = 4$ in every third step and $-1$ otherwise, keep $x$ within $[-1, 1]$, and run `adam` with
  decays $(0, 0.06)$ and a step size of $0.1/\sqrt t$, and `amsgrad` beside it. The sum of all gradients is positive, so
  $x = -1$ is best. Where does each go? (This is the kind of example given in [5].)
- *Stretch*: weight decay added to the gradient is divided by $\sqrt{\hat v}$ as well. Decouple it, and you have AdamW.

## References

1. Duchi, Hazan & Singer (2011), Adaptive subgradient methods for online learning and stochastic optimization,
   https://jmlr.org/papers/v12/duchi11a.html
2. Tieleman & Hinton (2012), Lecture 6.5: RMSprop,
   https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
3. Zeiler (2012), ADADELTA: an adaptive learning rate method, https://arxiv.org/abs/1212.5701
4. Kingma & Ba (2015), Adam: a method for stochastic optimization, https://arxiv.org/abs/1412.6980
5. Reddi, Kale & Kumar (2018), On the convergence of Adam and beyond, https://arxiv.org/abs/1904.09237
"""

# 7 parts to write. Test them with: pytest exercises/optim/adaptive.py
# To be written without: torch, scipy.optimize

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

Array = Float[np.ndarray, "*shape"]
S = TypeVar("S")


@dataclass(frozen=True)
class AdaGradState:
    """The sum of all squared gradients, $s_t$ in (2)."""

    total: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class RMSpropState:
    """The average of squared gradients, $v_t$ in (3)."""

    mean_square: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class AdadeltaState:
    """The averages of squared gradients and of squared moves, $v_t$ and $w_t$ in (4)."""

    mean_square: Float[np.ndarray, "*shape"]
    mean_square_move: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class AdamState:
    """The number of steps made, and the raw averages of gradients and of squares, $m_t$ and $v_t$ in (7)."""

    count: int
    first: Float[np.ndarray, "*shape"]
    second: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class AMSGradState:
    """Adam's state, and the largest raw average of squares so far, $r_t$ in (8)."""

    count: int
    first: Float[np.ndarray, "*shape"]
    second: Float[np.ndarray, "*shape"]
    largest: Float[np.ndarray, "*shape"]


def at_rest(state_type: type[S], like: Float[np.ndarray, "*shape"]) -> S:  # given
    """Return the state before the first step: a count of 0, and arrays of zeros.

    Parameters
    ----------
    state_type : type
        One of the states above.
    like : ndarray
        The parameters, whose shape and dtype the state's arrays take.

    Returns
    -------
    object
        The state.

    Examples
    --------
    >>> at_rest(AdamState, np.array([5.0, 7.0]))
    AdamState(count=0, first=array([0., 0.]), second=array([0., 0.]))
    """
    names = [field.name for field in fields(state_type)]  # pyright: ignore[reportArgumentType]
    return state_type(*(0 if name == "count" else np.zeros_like(like) for name in names))


def adagrad(
    state: AdaGradState, gradient: Float[np.ndarray, "*shape"], *, step_size: float = 1e-2, eps: float = 1e-10
) -> tuple[AdaGradState, Float[np.ndarray, "*shape"]]:
    """Take one step of AdaGrad, by equation (2).

    Parameters
    ----------
    state : AdaGradState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    step_size : float
        The step size $a$.
    eps : float
        The guard, added to the root.

    Returns
    -------
    tuple of AdaGradState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, or `gradient` does not fit the state.

    Examples
    --------
    >>> state, update = adagrad(AdaGradState(np.array([9.0])), np.array([4.0]), step_size=1.0)
    >>> state.total, update
    (array([25.]), array([-0.8]))
    """
    # given: the checks
    _check(state.total, gradient, step_size, eps)
    raise NotImplementedError("not written yet: adagrad")


def rmsprop(
    state: RMSpropState,
    gradient: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-2,
    decay: float = 0.99,
    eps: float = 1e-8,
) -> tuple[RMSpropState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of RMSprop, by equation (3).

    Parameters
    ----------
    state : RMSpropState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    step_size : float
        The step size $a$.
    decay : float
        The decay $\beta$, at least 0 and below 1.
    eps : float
        The guard, added to the root.

    Returns
    -------
    tuple of RMSpropState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, `decay` is not in [0, 1), or `gradient` does not fit the
        state.

    Examples
    --------
    >>> state, update = rmsprop(RMSpropState(np.array([2.25])), np.array([4.0]), step_size=1.0, decay=0.75)
    >>> state.mean_square, update.round(4)
    (array([5.6875]), array([-1.6773]))
    """
    # given: the checks
    _check(state.mean_square, gradient, step_size, eps, decay)
    raise NotImplementedError("not written yet: rmsprop")


def adadelta(
    state: AdadeltaState,
    gradient: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1.0,
    decay: float = 0.9,
    eps: float = 1e-6,
) -> tuple[AdadeltaState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of Adadelta, by equation (4).

    Parameters
    ----------
    state : AdadeltaState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    step_size : float
        The factor $a$ of the move.
    decay : float
        The decay $\beta$ of both averages, at least 0 and below 1.
    eps : float
        The guard, inside both roots.

    Returns
    -------
    tuple of AdadeltaState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, `decay` is not in [0, 1), or `gradient` does not fit the
        state.

    Examples
    --------
    >>> state = at_rest(AdadeltaState, np.zeros(1))
    >>> state, update = adadelta(state, np.array([3.0]), decay=0.75, eps=4.0)
    >>> state.mean_square_move.round(4), update
    (array([1.44]), array([-2.4]))
    """
    # given: the checks
    _check(state.mean_square, gradient, step_size, eps, decay)
    raise NotImplementedError("not written yet: adadelta")


def bias_correction(average: Float[np.ndarray, "*shape"], decay: float, count: int) -> Float[np.ndarray, "*shape"]:
    r"""Undo the bias of an exponential average that started at zero, by equation (6).

    Parameters
    ----------
    average : ndarray
        The raw average $m_t$. It is not changed.
    decay : float
        Its decay $\beta$, at least 0 and below 1.
    count : int
        The number $t$ of values averaged, at least 1.

    Returns
    -------
    ndarray
        The corrected average $\hat m_t$, a new array.

    Raises
    ------
    ValueError
        If `decay` is not in [0, 1), or `count` is below 1.

    Examples
    --------
    >>> bias_correction(np.array([0.1, -0.2]), 0.9, 1).round(4)
    array([ 1., -2.])
    """
    # given: the checks
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be at least 0 and below 1, got {decay}")
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    raise NotImplementedError("not written yet: bias_correction")


def adam(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of Adam, by equation (7).

    Parameters
    ----------
    state : AdamState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    step_size : float
        The step size $a$.
    decays : tuple of float
        The decays $\beta_1$ of the gradients and $\beta_2$ of their squares, each at least 0 and below 1.
    eps : float
        The guard, added to the root of the corrected average.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, whose averages are not corrected, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, a decay is not in [0, 1), or `gradient` does not fit the
        state.

    Examples
    --------
    >>> state, update = adam(at_rest(AdamState, np.zeros(2)), np.array([1e-4, -500.0]), step_size=0.1)
    >>> update.round(4)
    array([-0.1,  0.1])
    """
    # given: the checks
    _check(state.first, gradient, step_size, eps, *decays)
    raise NotImplementedError("not written yet: adam")


def amsgrad(
    state: AMSGradState,
    gradient: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[AMSGradState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of AMSGrad, by equation (8).

    Parameters
    ----------
    state : AMSGradState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    step_size : float
        The step size $a$.
    decays : tuple of float
        The decays $\beta_1$ of the gradients and $\beta_2$ of their squares, each at least 0 and below 1.
    eps : float
        The guard, added to the root.

    Returns
    -------
    tuple of AMSGradState and ndarray
        The next state, whose averages and maxima are not corrected, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, a decay is not in [0, 1), or `gradient` does not fit the
        state.

    Examples
    --------
    >>> state = AMSGradState(2, np.array([2.75]), np.array([5.6875]), np.array([5.6875]))
    >>> state, update = amsgrad(state, np.array([0.0]), step_size=1.0, decays=(0.5, 0.75))
    >>> state.second.round(4), state.largest, update.round(4)
    (array([4.2656]), array([5.6875]), array([-0.501]))
    """
    # given: the checks
    _check(state.first, gradient, step_size, eps, *decays)
    raise NotImplementedError("not written yet: amsgrad")


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    rule: Callable[[S, Array], tuple[S, Array]],
    state_type: type[S],
    *,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a function by repeating a rule, by equation (1).

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    rule : callable
        Takes a state and a gradient, and returns the next state and the update: one of the rules above, with
        `functools.partial` for its settings, or your own.
    state_type : type
        The rule's state. The walk begins with `at_rest(state_type, start)`.
    tol : float
        Converged when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields `x` and `fun`, the last point and the objective there; `nit`, `nfev`, `success`, `message`; and
        `path`, None unless `record_path` is set. `success` and `message` are those of gradient descent's `stopping`;
        `fun` is called once for the start and once for each step; `path` has `nit + 1` rows, from the start to `x`.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by gradient descent's `check_arguments`, the rule refuses its
        settings, or `grad` returns the wrong shape.

    Examples
    --------
    >>> result = minimize(lambda x: x @ x, lambda x: 2 * x, [3.0, -4.0], partial(adagrad, step_size=2.0), AdaGradState)
    >>> result.success, bool(abs(result.x).max() < 1e-6)
    (True, True)
    """
    # given: the checks, and when to stop
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)  # the rule checks its own step size
    grad, stop = checked_gradient(grad), partial(stopping, tol=tol, max_iter=max_iter)
    raise NotImplementedError("not written yet: minimize")


def _check(average: Array, gradient: Array, step_size: float, eps: float, *decays: float) -> None:  # given
    """Refuse settings that no rule can work with, and a gradient that would broadcast."""
    if gradient.shape != average.shape:
        raise ValueError(f"gradient must have the state's shape {average.shape}, got {gradient.shape}")
    if not 0 < step_size < np.inf:
        raise ValueError(f"step_size must be positive and finite, got {step_size}")
    if not 0 < eps < np.inf:
        raise ValueError(f"eps must be positive and finite, got {eps}")
    for decay in decays:
        if not 0 <= decay < 1:
            raise ValueError(f"a decay must be at least 0 and below 1, got {decay}")
