r"""Decaying schedules: take large steps first, and small ones at the end.

## Idea

A large learning rate gets anywhere near a minimum fast, and then keeps jumping around it, because gradients of
minibatches are noisy. A small one settles, after ages. So begin large and end small: a *schedule* gives the rate of
each step. At the very beginning, though, the largest rate is too much: the first gradients are huge, and averages such
as Adam's rest on few of them. So most schedules of today warm up before they decay.

## Maths

Let $t = 0, 1, 2, \dots$ count the steps, $\eta_0$ be the rate to begin with, and $\eta_t$ that of step $t$.

**In steps.** Stay, then multiply by $\gamma < 1$ after every $k$ steps:

$$\eta_t = \eta_0\, \gamma^{\lfloor t / k \rfloor} . \tag{1}$$

**Exponential.** The same for $k = 1$, but without the stairs:

$$\eta_t = \eta_0\, \gamma^t . \tag{2}$$

The rate halves every $\ln 2 / \ln(1/\gamma)$ steps. All steps from now to eternity sum to $\eta_0 / (1 - \gamma)$: the
walk can never get further than that times the largest gradient. Robbins and Monro [1] asked for more:
$\sum_t \eta_t = \infty$ so that any distance can be covered, and $\sum_t \eta_t^2 < \infty$ so that the noise averages
out. Rates proportional to $1/t$ do both; exponential ones fail the first, and a constant the second.

**Polynomial.** From $\eta_0$ to a last rate $\eta_T$ in $T$ steps, along a power $p > 0$ of what is left of the way, and
constant from then on:

$$\eta_t = \eta_T + (\eta_0 - \eta_T) \left(1 - \frac{\min(t, T)}{T}\right)^{p} . \tag{3}$$

**Cosine.** Half a wave from $\eta_0$ to $\eta_T$, flat at both ends and constant after $T$ [2]:

$$\eta_t = \eta_T + \frac{\eta_0 - \eta_T}2 \left(1 + \cos \frac{\pi \min(t, T)}{T}\right) . \tag{4}$$

Between the ends it falls fastest in the middle. By $1 + \cos 2\alpha = 2 \cos^2 \alpha$ it is
$\eta_T + (\eta_0 - \eta_T) \cos^2\bigl(\pi \min(t, T) / 2T\bigr)$.

**Warm-up.** Rise along a line from a share $s$ of the first rate of another schedule $\eta'$ to all of it, in $w$ steps,
and then follow that schedule from its beginning:

$$\eta_t = \begin{cases} \bigl(s + (1 - s)\, t / w\bigr)\, \eta'_0 & t < w, \\ \eta'_{t - w} & t \ge w . \end{cases} \tag{5}$$

**Inverse square root.** The schedule of the first transformer [3] has no end to plan for. It rises to $\eta$ in $w$
steps and then falls like $1/\sqrt t$:

$$\eta_t = \eta \min\left(\frac{t + 1}{w}, \sqrt{\frac{w}{t + 1}}\right) , \tag{6}$$

where $t + 1$ makes the first rate positive. Both terms are $1$ at $t + 1 = w$: the peak.

## Worked example

$\eta_0 = 0.8$ and $\eta_T = 0.2$, $T = 4$.

| $t$ | 0 | 1 | 2 | 3 | 4 | 5 |
|---|---|---|---|---|---|---|
| (1), $\gamma = 0.5$, $k = 2$ | 0.8 | 0.8 | 0.4 | 0.4 | 0.2 | 0.2 |
| (2), $\gamma = 0.5$ | 0.8 | 0.4 | 0.2 | 0.1 | 0.05 | 0.025 |
| (3), $p = 2$ | 0.8 | 0.5375 | 0.35 | 0.2375 | 0.2 | 0.2 |
| (4) | 0.8 | 0.7121 | 0.5 | 0.2879 | 0.2 | 0.2 |
| (5), $w = 2$, $s = 0.25$, then (2) | 0.2 | 0.5 | 0.8 | 0.4 | 0.2 | 0.1 |
| (6), $\eta = 0.8$, $w = 2$ | 0.4 | 0.8 | 0.6532 | 0.5657 | 0.5060 | 0.4619 |

In (4) for $t = 1$: $0.2 + 0.3\,(1 + \cos 45°) = 0.2 + 0.3 \cdot 1.7071$. In (6) for $t = 2$: $0.8 \sqrt{2/3}$.

## Plan

- `step_decay` returns (1), `exponential_decay` (2), `polynomial_decay` (3), `cosine_decay` (4), `inverse_square_root`
  (6): the rates of the steps that it is asked for, one or an array of them.
- `warm_up` takes another schedule, which is a function of steps, and returns the schedule (5).

All are functions of the step alone, without a state: training can be resumed anywhere, and a schedule can be drawn
before it is used.

## Pitfalls

- The rate falls in stairs where a smooth curve was meant, or the other way round.
- After the last planned step the rate rises again, or is no number.
- The first step has the rate 0, and the first batch is lost.
- There is a kink, or a jump, where the warm-up ends.
- The decay ends too early: the steps of the warm-up were counted twice.
- Steps counted in epochs by the one, and in batches by the other.

## Cost

A few operations for each step; nothing beside a gradient. Asked for one step at a time, as in a training loop, the checks
cost more than the formula: 6 µs, twice what PyTorch's schedulers take, which multiply the last rate by a factor. That
gathers rounding errors, some 6e-15 of the rate after 10,000 steps, where the formula has 1e-16.

## Go further

- *Experiment*: train logistic regression by minibatches with a constant rate, with (1) to (4) and with $1/t$, all with
  the same sum of rates. Which ends lowest, and which is lowest halfway?
- *Stretch*: warm-up, a long constant stretch, then a short decay to zero ('warm-up, stable, decay' [4]) can be
  prolonged without planning the end. Build it from what is here.

## References

1. Robbins & Monro (1951), A stochastic approximation method, https://doi.org/10.1214/aoms/1177729586
2. Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, https://arxiv.org/abs/1608.03983
3. Vaswani et al. (2017), Attention is all you need, section 5.3, https://arxiv.org/abs/1706.03762
4. Hu et al. (2024), MiniCPM: unveiling the potential of small language models with scalable training strategies,
   https://arxiv.org/abs/2404.06395
5. Goyal et al. (2017), Accurate, large minibatch SGD, on warm-up, https://arxiv.org/abs/1706.02677
"""

# 6 parts to write. Test them with: pytest exercises/optim/schedules/decaying.py
# To be written without: torch.optim

import numpy as np

from mlpath.optim.schedules._shared import (
    Rates,
    Schedule,
    Steps,
    check_count,
    check_end,
    check_rate,
    check_share,
    whole_steps,
)


def step_decay(step: Steps, rate: float, *, factor: float, every: int) -> Rates:
    r"""Return the rates that stay and then fall by a factor, again and again, equation (1).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    rate : float
        The first rate $\eta_0$.
    factor : float
        What each fall multiplies by, above 0 and at most 1.
    every : int
        How many steps have the same rate.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `rate` not positive and finite, `factor` not above 0 and at most 1, or
        `every` not a whole number above 0.

    Examples
    --------
    >>> step_decay(np.arange(6), 0.8, factor=0.5, every=2)
    array([0.8, 0.8, 0.4, 0.4, 0.2, 0.2])
    """
    # given: the checks
    step = whole_steps(step)
    check_rate(rate, "rate")
    check_share(factor, "factor")
    check_count(every, "every")
    raise NotImplementedError("not written yet: step_decay")


def exponential_decay(step: Steps, rate: float, *, factor: float) -> Rates:
    r"""Return the rates that fall by a factor at each step, equation (2).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    rate : float
        The first rate $\eta_0$.
    factor : float
        What each step multiplies by, above 0 and at most 1.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`. Where it is too small for a float it is 0.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `rate` not positive and finite, or `factor` not above 0 and at most 1.

    Examples
    --------
    >>> exponential_decay(np.arange(4), 0.8, factor=0.5)
    array([0.8, 0.4, 0.2, 0.1])
    """
    # given: the checks
    step = whole_steps(step)
    check_rate(rate, "rate")
    check_share(factor, "factor")
    raise NotImplementedError("not written yet: exponential_decay")


def polynomial_decay(step: Steps, rate: float, *, n_steps: int, power: float = 1.0, end: float = 0.0) -> Rates:
    r"""Return the rates that fall to the last one along a power, equation (3).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    rate : float
        The first rate $\eta_0$.
    n_steps : int
        The step $T$ from which on the rate is the last one.
    power : float
        The power $p$; 1 is a straight line, more falls faster at first.
    end : float
        The last rate $\eta_T$, from 0 to `rate`.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `rate` or `power` not positive and finite, `n_steps` not a whole number
        above 0, or `end` not between 0 and `rate`.

    Examples
    --------
    >>> polynomial_decay(np.arange(6), 0.8, n_steps=4, power=2.0, end=0.2)
    array([0.8   , 0.5375, 0.35  , 0.2375, 0.2   , 0.2   ])
    """
    # given: the checks
    step = whole_steps(step)
    check_rate(rate, "rate")
    check_count(n_steps, "n_steps")
    check_rate(power, "power")
    check_end(end, rate)
    raise NotImplementedError("not written yet: polynomial_decay")


def cosine_decay(step: Steps, rate: float, *, n_steps: int, end: float = 0.0) -> Rates:
    r"""Return the rates that fall to the last one along half a wave of the cosine, equation (4).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    rate : float
        The first rate $\eta_0$.
    n_steps : int
        The step $T$ from which on the rate is the last one.
    end : float
        The last rate $\eta_T$, from 0 to `rate`.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `rate` not positive and finite, `n_steps` not a whole number above 0, or
        `end` not between 0 and `rate`.

    Examples
    --------
    >>> cosine_decay(np.arange(6), 0.8, n_steps=4, end=0.2).round(4)
    array([0.8   , 0.7121, 0.5   , 0.2879, 0.2   , 0.2   ])
    """
    # given: the checks
    step = whole_steps(step)
    check_rate(rate, "rate")
    check_count(n_steps, "n_steps")
    check_end(end, rate)
    raise NotImplementedError("not written yet: cosine_decay")


def warm_up(schedule: Schedule, *, n_steps: int, start: float = 0.0) -> Schedule:
    r"""Return the schedule that rises along a line to the first rate of another, and then follows it: equation (5).

    Parameters
    ----------
    schedule : callable
        Takes a step, or an array of steps, counted from 0, and returns their rates. It is never asked for a negative
        step.
    n_steps : int
        How many steps $w$ the rise takes.
    start : float
        The share $s$ of the first rate to begin with, from 0 to 1.

    Returns
    -------
    callable
        Takes a step or an array of steps, and returns their rates, as the others do.

    Raises
    ------
    ValueError
        If `n_steps` is not a whole number above 0, or `start` not between 0 and 1; by what is returned, if a step is
        negative or not whole.

    Examples
    --------
    >>> from functools import partial
    >>> schedule = warm_up(partial(exponential_decay, rate=0.8, factor=0.5), n_steps=2, start=0.25)
    >>> schedule(np.arange(6))
    array([0.2, 0.5, 0.8, 0.4, 0.2, 0.1])
    """
    # given: the checks
    check_count(n_steps, "n_steps")
    if not 0 <= start <= 1:
        raise ValueError(f"start must lie between 0 and 1, got {start}")
    raise NotImplementedError("not written yet: warm_up")


def inverse_square_root(step: Steps, rate: float, *, n_warm_up: int) -> Rates:
    r"""Return the rates that rise to a peak and fall like one over the root of the step, equation (6).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    rate : float
        The largest rate $\eta$.
    n_warm_up : int
        The number of steps $w$ to the peak, which is step $w - 1$.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`; none is 0.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `rate` not positive and finite, or `n_warm_up` not a whole number above 0.

    Examples
    --------
    >>> inverse_square_root(np.arange(6), 0.8, n_warm_up=2).round(4)
    array([0.4   , 0.8   , 0.6532, 0.5657, 0.506 , 0.4619])
    """
    # given: the checks
    step = whole_steps(step)
    check_rate(rate, "rate")
    check_count(n_warm_up, "n_warm_up")
    raise NotImplementedError("not written yet: inverse_square_root")
