r"""Variants of Adam: decoupled weight decay, Nesterov's look ahead, rectified first steps, belief, and slow weights.

## Idea

Adam works almost everywhere, and each of its weak points has a repair. Its divisor weakens weight decay just where
gradients are large: *AdamW* takes the decay past the divisor. Its momentum is the old kind: *NAdam* has Nesterov's. Its
divisor is a guess for the first steps: *RAdam* measures how bad the guess is, and trusts it accordingly. Its divisor
brakes even where all gradients agree: *AdaBelief* divides by how much they disagree. Its weights jump about to the
last: *Lookahead* keeps slow weights that follow from behind, whatever the rule.

## Maths

All operations are coordinate by coordinate, with step size $a$, decays $\beta_1, \beta_2$ and a guard $\varepsilon$. A
rule turns state, gradient $g_t$ and parameters $x_{t-1}$ into an update $u_t$ that is added: $x_t = x_{t-1} + u_t$. As
in Adam, $m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t$ and $v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$ start at zero,
and $\hat m_t = m_t / (1 - \beta_1^t)$, $\hat v_t = v_t / (1 - \beta_2^t)$ have their bias corrected.

**AdamW** [1]. Adding $\frac\lambda2 \|x\|^2$ to the loss (*L2 regularisation*) adds $\lambda x$ to the gradient. For
plain gradient descent that is a shrinking of the weights by $1 - a\lambda$ at each step. For Adam it is not:
$\lambda x$ is divided by $\sqrt{\hat v}$ with the rest, so that a weight whose gradients are of size 1000 is shrunk a
thousand times less than one whose gradients are of size 1. *Decoupled* decay is not divided:

$$u_t = -a \left( \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon} + \lambda\, x_{t-1} \right) . \tag{1}$$

(In [1] the decay has a schedule of its own; that $a$ multiplies it, too, is what PyTorch does.) The same
$\lambda x_{t-1}$ ends each of the rules below.

**NAdam** [2]. Momentum moves along an average that ends with the present gradient. Nesterov's momentum moves along what
the average will be one step later, as far as it is known already. The share of the old average is not $\beta_1$ but
grows to it from about half, with a speed $\psi$ of 0.004 or so:

$$\mu_t = \beta_1 \left(1 - \tfrac12\, 0.96^{\,t \psi}\right) . \tag{2}$$

The weights of gradients averaged with such shares add up to $1 - \prod_i \mu_i$. With $\pi_t = \mu_1 \cdots \mu_t$,

$$u_t = -a \left( \frac{1}{\sqrt{\hat v_t} + \varepsilon} \left[ \frac{\mu_{t+1}\, m_t}{1 - \pi_t\, \mu_{t+1}} +
\frac{(1 - \mu_t)\, g_t}{1 - \pi_t} \right] + \lambda x_{t-1} \right) : \tag{3}$$

the momentum of the *next* step, and the gradient of this one. (In [2] $m_t$ is averaged by $\mu_t$, too; PyTorch, and
(3), use $\beta_1$ there. PyTorch keeps $\pi_t$ in float32, which costs it 1e-8 of the first updates even in float64.)

**RAdam** [3] asks how much the divisor is worth after $t$ steps. The average $v_t$ weighs the gradient of $j$ steps ago
by $\beta_2^j$. Let its age be the weighted mean of $j$. A plain mean of the last $\rho$ squares has the mean age
$(\rho - 1)/2$. Equate both, and the exponential average is worth a plain one of length

$$\rho_t = 1 + 2\, \frac{\sum_{j=0}^{t-1} j \beta_2^j}{\sum_{j=0}^{t-1} \beta_2^j} =
\rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \qquad \rho_\infty = \frac2{1 - \beta_2} - 1 . \tag{4}$$

Were the gradients normal with variance $\sigma^2$, then $\psi^2 = 1/v$ would be distributed as a scaled inverse
chi-squared with $\rho$ degrees of freedom. Its mean is $\rho / ((\rho - 2) \sigma^2)$ and its variance
$2 \rho^2 / ((\rho - 2)^2 (\rho - 4) \sigma^4)$, which exists for $\rho > 4$ only. To first order $\operatorname{Var}
\psi \approx \operatorname{Var} \psi^2 / (4 \operatorname{E} \psi^2) = \rho / (2 (\rho - 2)(\rho - 4)\sigma^2)$. The
adaptive step is multiplied by the factor that brings this down to the variance in the long run:

$$r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\, \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\, \rho_t}} , \tag{5}$$

$$u_t = \begin{cases}
-a \left( r_t\, \hat m_t\, \dfrac{\sqrt{1 - \beta_2^t}}{\sqrt{v_t} + \varepsilon} + \lambda x_{t-1} \right) & \rho_t > 5, \\
-a \left( \hat m_t + \lambda x_{t-1} \right) & \rho_t \le 5 . \end{cases} \tag{6}$$

So the first steps, five of them with $\beta_2 = 0.999$, are plain momentum, and the next are short: a warm-up that
nobody had to tune. The paper switches at 4 and has no $\varepsilon$; the 5, and an $\varepsilon$ beside the root
*before* the correction, are PyTorch's.

**AdaBelief** [4] takes the average $m_t$ for a forecast of the gradient, and divides by how far off that is:

$$s_t = \beta_2 s_{t-1} + (1 - \beta_2)(g_t - m_t)^2 + \varepsilon , \qquad
u_t = -a \left( \frac{\hat m_t}{\sqrt{\hat s_t} + \varepsilon} + \lambda x_{t-1} \right) . \tag{7}$$

One $\varepsilon$ is added to the average at each step, and comes out of the correction as
$\varepsilon / (1 - \beta_2)$ at every $t$: it acts like a square, so it has to be as small as $10^{-16}$. The other is
Adam's.

**Lookahead** [5] walks with any rule from slow weights $\phi$. After every $k$ steps $\phi$ is pulled by a share
$\alpha$ towards where the walk has come, and the walk goes on from there, with the rule's state as it is:

$$\phi \leftarrow \phi + \alpha\, (x_{t-1} + u_t - \phi) , \qquad x_t = \phi \qquad \text{whenever } k \text{ divides } t. \tag{8}$$

On a quadratic whose errors the rule multiplies by $c$ at each step, $k$ steps multiply them by
$1 - \alpha + \alpha c^k$: slower, but if $c < 0$ the walk jumps from side to side, and Lookahead meets it in the
middle.

## Worked example

One coordinate at $x = 10$; gradients 3, then 4; $a = 1$, $\beta_1 = \frac12$, $\beta_2 = \frac34$, $\lambda = 0.1$ for
AdamW and 0 for the others, and no $\varepsilon$. Adam's updates are $-1$ and $-1.017$.

- *AdamW*: first $-1 - 0.1 \cdot 10 = -2$. With L2 the gradient is $3 + 1 = 4$, whose first update is $-1$, as that of
  any gradient is: the decay cannot be seen.
- *NAdam* with $\psi = 0$, so that all $\mu = 0.25$: $m_1 = 1.5$, $\pi_1 = 0.25$,
  $0.25 \cdot 1.5 / 0.9375 + 0.75 \cdot 3 / 0.75 = 0.4 + 3$, and $\sqrt{\hat v_1} = 3$: an update of $-1.133$.
- *RAdam*: $\rho_\infty = 7$; $\rho_1 = 7 - 1.5 / 0.25 = 1$, $\rho_2 = 7 - 2.25 / 0.4375 = 1.857$: the updates are $-3$
  and $-3.667$, not divided. Only $\rho_8 = 5.220$ exceeds 5, with $r_8 = 0.593$.
- *AdaBelief*: $g_1 - m_1 = 1.5$, $s_1 = 0.5625$, $\hat s_1 = 2.25$: an update of $-3 / 1.5 = -2$. Then
  $g_2 - m_2 = 1.25$, $s_2 = 0.8125$, $\hat s_2 = 1.857$: $-3.667 / 1.363 = -2.691$. The gradients agree, so it hurries.
- *Lookahead* around steps of $-1$, with $k = 2$ and $\alpha = \frac12$: to 9, and then, instead of to 8, half of the
  way from 10 to 8: the second update is 0.

## Plan

Each rule takes a state, a gradient and the parameters, and returns the next state and the update. `at_rest` of
`optim/adaptive` makes Adam's first state; `nadam_at_rest` (given) NAdam's, whose product of no factors is 1.

- `adamw` is (1), by the `adam` that you know.
- `scheduled_momentum` takes a step and returns (2); `nadam` is (3).
- `sma_lengths` takes a number of steps and a decay, and returns both lengths of (4). `rectification` takes two lengths
  and returns (5), or 0 where there is none; `radam` is (6).
- `adabelief` is (7).
- `lookahead` takes a rule and returns another, which keeps a `LookaheadState`, by (8).

## Pitfalls

- More weight decay changes nothing in the layers with large gradients.
- Weight decay that fades, or grows, with the gradients' scale.
- The first step of NAdam agrees with PyTorch, the second does not.
- The first steps of RAdam are enormous, or NaN.
- AdaBelief agrees with Adam in the long run: it divides by the wrong thing.
- With Lookahead nothing moves, or it makes no difference.

## Cost

As Adam: two averages, and a dozen passes over the arrays. The decay adds two passes, AdaBelief one more, Lookahead a
copy of the parameters and, at every $k$-th step, three passes. The rules allocate what PyTorch overwrites in place. For
a thousand numbers a step takes 20 to 40 µs, a fifth of PyTorch's time, for a hundred thousand 0.7 to 1.0 of it, and for a
million in float32 0.9 to 1.7; PyTorch's fused AdamW, which reads and writes everything once, is five times as fast there.

## Go further

- *Experiment*: train logistic regression with noisy gradients from warm-ups of 0, 5 and 50 steps with `adamw`, and
  with `radam` without any. How much of a warm-up is RAdam's?
- *Stretch*: Lion moves by the sign of an average, and needs one array where Adam needs two. Write it as a rule, and
  find the step size and the decay that make it comparable to AdamW.

## References

1. Loshchilov & Hutter (2019), Decoupled weight decay regularization, https://arxiv.org/abs/1711.05101
2. Dozat (2016), Incorporating Nesterov momentum into Adam, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
3. Liu et al. (2020), On the variance of the adaptive learning rate and beyond, https://arxiv.org/abs/1908.03265
4. Zhuang et al. (2020), AdaBelief optimizer: adapting stepsizes by the belief in observed gradients,
   https://arxiv.org/abs/2010.07468
5. Zhang, Lucas, Hinton & Ba (2019), Lookahead optimizer: k steps forward, 1 step back, https://arxiv.org/abs/1907.08610
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.optim.adaptive import AdamState, adam, bias_correction

Array = Float[np.ndarray, "*shape"]
Rule = Callable[[Any, Array, Array], tuple[Any, Array]]


@dataclass(frozen=True)
class NAdamState:
    r"""The number of steps made, the product $\pi_t$ of (3), and the raw averages $m_t$ and $v_t$."""

    count: int
    product: float
    first: Float[np.ndarray, "*shape"]
    second: Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class LookaheadState:
    r"""The number of steps made, the slow weights $\phi$ of (8), and the state of the rule within."""

    count: int
    slow: Float[np.ndarray, "*shape"]
    inner: Any


def nadam_at_rest(like: Float[np.ndarray, "*shape"]) -> NAdamState:  # given
    """Return NAdam's state before the first step: no steps, an empty product, and averages of zero.

    Parameters
    ----------
    like : ndarray
        The parameters, whose shape and dtype the averages take.

    Returns
    -------
    NAdamState
        The state.

    Examples
    --------
    >>> nadam_at_rest(np.array([5.0]))
    NAdamState(count=0, product=1.0, first=array([0.]), second=array([0.]))
    """
    return NAdamState(0, 1.0, np.zeros_like(like), np.zeros_like(like))


def adamw(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of AdamW, by equation (1).

    Parameters
    ----------
    state : AdamState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    x : ndarray
        The parameters before the step. They are not changed.
    step_size : float
        The step size $a$.
    decays : tuple of float
        The decays $\beta_1$ of the gradients and $\beta_2$ of their squares, each at least 0 and below 1.
    eps : float
        The guard, added to the root of the corrected average.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, a decay is not in [0, 1), `weight_decay` is negative or not
        finite, or `gradient` or `x` does not fit the state.

    Examples
    --------
    >>> state = AdamState(0, np.zeros(1), np.zeros(1))
    >>> adamw(state, np.array([3.0]), np.array([10.0]), step_size=1.0, weight_decay=0.1)[1].round(4)
    array([-2.])
    """
    # given: the checks
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    # yours
    state, update = adam(state, gradient, step_size=step_size, decays=decays, eps=eps)
    return state, update - step_size * weight_decay * x


def scheduled_momentum(count: int, decay: float, momentum_decay: float = 4e-3) -> float:
    r"""Return the share of the old average in a step of NAdam, equation (2).

    Parameters
    ----------
    count : int
        Which step $t$, from 1.
    decay : float
        What the share grows to, $\beta_1$.
    momentum_decay : float
        How fast it grows, $\psi$; 0 or more.

    Returns
    -------
    float
        The share $\mu_t$.

    Examples
    --------
    >>> print(*(f"{scheduled_momentum(t, 0.9):.4f}" for t in (1, 1000, 100_000)))
    0.4501 0.5178 0.9000
    """
    return decay * (1 - 0.5 * 0.96 ** (count * momentum_decay))


def nadam(
    state: NAdamState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 2e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    momentum_decay: float = 4e-3,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[NAdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of NAdam, by equation (3).

    Parameters
    ----------
    state : NAdamState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis. For L2 regularisation, which is not
        decoupled, hand over the gradient plus a multiple of `x`.
    x : ndarray
        The parameters before the step. They are not changed.
    step_size : float
        The step size $a$.
    decays : tuple of float
        The decays $\beta_1$ and $\beta_2$, each at least 0 and below 1.
    momentum_decay : float
        The speed $\psi$ of the momentum's schedule, 0 or more.
    eps : float
        The guard, added to the root of the corrected average.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more, decoupled.

    Returns
    -------
    tuple of NAdamState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        As `adamw`, and if `momentum_decay` is negative or not finite.

    Examples
    --------
    >>> state, x = nadam_at_rest(np.zeros(1)), np.array([10.0])
    >>> settings = {"step_size": 1.0, "decays": (0.5, 0.75), "momentum_decay": 0.0}
    >>> nadam(state, np.array([3.0]), x, **settings)[1].round(4)
    array([-1.1333])
    """
    # given: the checks
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    if not 0 <= momentum_decay < np.inf:
        raise ValueError(f"momentum_decay must be non-negative and finite, got {momentum_decay}")
    # yours
    count = state.count + 1
    share = scheduled_momentum(count, decays[0], momentum_decay)
    following = scheduled_momentum(count + 1, decays[0], momentum_decay)
    product = state.product * share
    first = decays[0] * state.first + (1 - decays[0]) * gradient
    second = decays[1] * state.second + (1 - decays[1]) * gradient * gradient
    ahead = following / (1 - product * following) * first + (1 - share) / (1 - product) * gradient
    divisor = np.sqrt(bias_correction(second, decays[1], count)) + eps
    return NAdamState(count, product, first, second), -step_size * (ahead / divisor + weight_decay * x)


def sma_lengths(count: int, decay: float) -> tuple[float, float]:
    r"""Return the lengths of the plain means that an exponential average is worth, equation (4).

    Parameters
    ----------
    count : int
        The number $t$ of values averaged, at least 1.
    decay : float
        The decay $\beta_2$, at least 0 and below 1.

    Returns
    -------
    tuple of float
        The length $\rho_t$ after so many values, and $\rho_\infty$ in the long run.

    Raises
    ------
    ValueError
        If `count` is below 1, or `decay` is not in [0, 1).

    Examples
    --------
    >>> print(*(f"{length:.4f}" for length in sma_lengths(2, 0.75)))
    1.8571 7.0000
    """
    # given: the checks
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be at least 0 and below 1, got {decay}")
    # yours
    longest = 2 / (1 - decay) - 1
    faded = decay**count
    return longest - 2 * count * faded / (1 - faded), longest


def rectification(length: float, longest: float) -> float:
    r"""Return the factor that makes up for the variance of a short average, equation (5).

    Parameters
    ----------
    length : float
        The length $\rho_t$ now, positive.
    longest : float
        The length $\rho_\infty$ in the long run, at least `length`.

    Returns
    -------
    float
        The factor $r_t$, above 0 and at most 1; 0 if `length` is 5 or less, where no adaptive step is to be made.

    Raises
    ------
    ValueError
        If `length` is not positive, or exceeds `longest`.

    Examples
    --------
    >>> print(f"{rectification(6.0, 9.0):.4f}", rectification(4.5, 9.0))
    0.5855 0.0
    """
    # given: the checks
    if not 0 < length <= longest:
        raise ValueError(f"length must be positive and at most longest = {longest}, got {length}")
    # yours
    if length <= 5:
        return 0.0
    now, finally_ = (length - 4) * (length - 2) / length, (longest - 4) * (longest - 2) / longest
    return math.sqrt(now / finally_)


def radam(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of RAdam, by equation (6).

    Parameters
    ----------
    state : AdamState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    x : ndarray
        The parameters before the step. They are not changed.
    step_size : float
        The step size $a$.
    decays : tuple of float
        The decays $\beta_1$ and $\beta_2$, each at least 0 and below 1.
    eps : float
        The guard, added to the root of the raw average.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more, decoupled.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        As `adamw`.

    Examples
    --------
    >>> state = AdamState(0, np.zeros(1), np.zeros(1))
    >>> radam(state, np.array([3.0]), np.array([10.0]), step_size=1.0, decays=(0.5, 0.75))[1]
    array([-3.])
    """
    # given: the checks
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    # yours
    count = state.count + 1
    first = decays[0] * state.first + (1 - decays[0]) * gradient
    second = decays[1] * state.second + (1 - decays[1]) * gradient * gradient
    move = bias_correction(first, decays[0], count)
    factor = rectification(*sma_lengths(count, decays[1]))
    if factor:
        move = factor * math.sqrt(1 - decays[1] ** count) * move / (np.sqrt(second) + eps)
    return AdamState(count, first, second), -step_size * (move + weight_decay * x)


def adabelief(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-16,
    weight_decay: float = 0.0,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of AdaBelief, by equation (7).

    Parameters
    ----------
    state : AdamState
        The state after the step before, whose `second` is $s_{t-1}$. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, which has at least one axis.
    x : ndarray
        The parameters before the step. They are not changed.
    step_size : float
        The step size $a$.
    decays : tuple of float
        The decays $\beta_1$ of the gradients and $\beta_2$ of the squared deviations, each at least 0 and below 1.
    eps : float
        The guard, added to the average at each step, and to the root of the corrected average.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more, decoupled.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        As `adamw`.

    Examples
    --------
    >>> state = AdamState(0, np.zeros(1), np.zeros(1))
    >>> adabelief(state, np.array([3.0]), np.array([10.0]), step_size=1.0, decays=(0.5, 0.75))[1].round(4)
    array([-2.])
    """
    # given: the checks
    _check(state.first, gradient, x, step_size, eps, weight_decay, decays)
    # yours
    count = state.count + 1
    first = decays[0] * state.first + (1 - decays[0]) * gradient
    deviation = gradient - first
    second = decays[1] * state.second + (1 - decays[1]) * deviation * deviation + eps
    divisor = np.sqrt(bias_correction(second, decays[1], count)) + eps
    move = bias_correction(first, decays[0], count) / divisor
    return AdamState(count, first, second), -step_size * (move + weight_decay * x)


def lookahead(rule: Rule, *, every: int = 5, pull: float = 0.5) -> Rule:
    r"""Return a rule that walks with another one, and pulls slow weights along, by equation (8).

    Parameters
    ----------
    rule : callable
        Takes a state, a gradient and the parameters, and returns the next state and the update, as the rules above do.
    every : int
        After how many steps the slow weights are pulled, $k$.
    pull : float
        The share $\alpha$ of the way, above 0 and at most 1.

    Returns
    -------
    callable
        A rule for a `LookaheadState`. The first one holds a count of 0, the parameters to begin with, and the first
        state of `rule`. What the rule is given is not changed.

    Raises
    ------
    ValueError
        If `every` is below 1, or `pull` not above 0 and at most 1.

    Examples
    --------
    >>> rule = lookahead(lambda state, gradient, x: (state, -gradient), every=2)
    >>> state, x = LookaheadState(0, np.array([10.0]), None), np.array([10.0])
    >>> for _ in range(3):
    ...     state, update = rule(state, np.array([1.0]), x)
    ...     x = x + update
    ...     print(x, state.slow)
    [9.] [10.]
    [9.] [9.]
    [8.] [9.]
    """
    # given: the checks
    if every < 1:
        raise ValueError(f"every must be at least 1, got {every}")
    if not 0 < pull <= 1:
        raise ValueError(f"pull must be above 0 and at most 1, got {pull}")

    # yours
    def walk(state: LookaheadState, gradient: Array, x: Array) -> tuple[LookaheadState, Array]:
        inner, update = rule(state.inner, gradient, x)
        count, slow = state.count + 1, state.slow
        if count % every == 0:
            slow = slow + pull * (x + update - slow)
            update = slow - x
        return LookaheadState(count, slow, inner), update

    return walk


def _check(  # given
    average: Array,
    gradient: Array,
    x: Array,
    step_size: float,
    eps: float,
    weight_decay: float,
    decays: tuple[float, float],
) -> None:
    """Refuse settings that no rule can work with, and arrays that would broadcast."""
    for name, array in (("gradient", gradient), ("x", x)):
        if array.shape != average.shape:
            raise ValueError(f"{name} must have the state's shape {average.shape}, got {array.shape}")
    for name, value in (("step_size", step_size), ("eps", eps)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")
    if not 0 <= weight_decay < np.inf:
        raise ValueError(f"weight_decay must be non-negative and finite, got {weight_decay}")
    for decay in decays:
        if not 0 <= decay < 1:
            raise ValueError(f"a decay must be at least 0 and below 1, got {decay}")
