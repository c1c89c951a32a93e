r"""Cyclic schedules: rise again, once or many times, or fall only when the loss stalls.

## Idea

A schedule that only decays commits itself: once the rate is small, the walk stays in the valley that it happens to be
in. Rates that *rise again* shake it loose, and pass each useful size several times, so that less hangs on having chosen
the right one. Three such schedules are in use: triangles that go up and down, restarts that jump up and decay slowly,
and the single cycle of 'super-convergence', with a rate so large in the middle that it would diverge if one began with
it. The last schedule of this exercise has no plan at all: it watches the loss, and lets the rate fall when that stalls.

## Maths

Let $t = 0, 1, 2, \dots$ count the steps. Half a wave of the cosine leads from one number $a$ to another $b$, flat at
both ends, while the share $s$ of the way goes from 0 to 1:

$$c(a, b, s) = b + \frac{a - b}2\,(1 + \cos \pi s) . \tag{1}$$

**Triangles** [1]. The rate rises along a line from $\eta_{\min}$ to $\eta_{\max}$ in $u$ steps, falls back in $d$
steps, and so on. With $p = t \bmod (u + d)$, the place in the cycle, and $i = \lfloor t / (u + d) \rfloor$, its number,

$$\eta_t = \eta_{\min} + (\eta_{\max} - \eta_{\min})\, \min\left(\frac pu, \frac{u + d - p}d\right) \sigma_t , \tag{2}$$

where $\sigma_t$ is 1 (mode `triangular`), or $2^{-i}$, so that each peak is half as high above $\eta_{\min}$ as the one
before (`triangular2`), or $\gamma^t$, so that the peaks sink with every step (`exp_range`).

**One cycle** [2]. From $\eta / D$ up to the peak $\eta$ at step $u$, and then down to $\eta / E$ at step $T$, which is
much less than it began with; constant from there on:

$$\eta_t = \begin{cases} c(\eta / D,\ \eta,\ t / u) & t < u, \\
c\bigl(\eta,\ \eta / E,\ (\min(t, T) - u) / (T - u)\bigr) & t \ge u . \end{cases} \tag{3}$$

The **momentum** goes the opposite way: from its largest value to its smallest at step $u$, and back at step $T$. Large
rates and long memory together would diverge: a gradient moves the parameters by $\eta$ now and by
$\eta\, (1 + b + b^2 + \dots) = \eta / (1 - b)$ in the end, and it is that which must stay in bounds.

**Warm restarts** [3]. Half a wave from $\eta$ to $\eta_{\text{end}}$ and a jump back to $\eta$; each cycle is $m$ times
as long as the one before it. The first has $T_0$ steps. Cycle $i$ has $T_i = T_0\, m^i$ and begins at step

$$B_0 = 0, \qquad B_{i+1} = B_i + T_0\, m^i = T_0 + m\, B_i . \tag{4}$$

In cycle $i$, that is for $B_i \le t < B_{i+1}$,

$$\eta_t = c\left(\eta,\ \eta_{\text{end}},\ \frac{t - B_i}{T_i}\right) . \tag{5}$$

For $m > 1$, (4) can be solved for $i = \lfloor \log_m (1 + t\,(m - 1) / T_0) \rfloor$. In floating point this is wrong
just where it matters, at the restarts: $\log 243 / \log 3$ is 4.999999999999999.

**On a plateau.** A loss $\ell$ counts as progress if it is below the best loss $\ell^*$ so far by a share $\tau$:

$$\ell < \ell^* - \tau\, |\ell^*| . \tag{6}$$

Before the first loss $\ell^*$ is infinite, and any finite loss is progress (infinity minus a share of it is no number:
mind that). Otherwise a loss is *bad*. After more than $P$ bad losses in a row, the rate is multiplied by a factor,
though never pushed below a smallest rate, and the count of bad losses begins anew. For the next $C$ losses, the
*cooldown*, none is counted as bad, though each of them, good ones too, uses up one of the $C$: a smaller rate needs
some time to show what it is worth. A loss that satisfies (6) becomes the best one always, during the cooldown too.

## Worked example

*Triangles*: from 0.1 to 0.7 with $u = 2$ and $d = 4$.

| $t$ | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
|---|---|---|---|---|---|---|---|---|---|
| $p$, $i$ | 0, 0 | 1, 0 | 2, 0 | 3, 0 | 4, 0 | 5, 0 | 0, 1 | 1, 1 | 2, 1 |
| minimum in (2) | 0 | 0.5 | 1 | 0.75 | 0.5 | 0.25 | 0 | 0.5 | 1 |
| `triangular` | 0.1 | 0.4 | 0.7 | 0.55 | 0.4 | 0.25 | 0.1 | 0.4 | 0.7 |
| `triangular2` | 0.1 | 0.4 | 0.7 | 0.55 | 0.4 | 0.25 | 0.1 | 0.25 | 0.4 |

*Restarts* with $T_0 = 3$, $m = 2$: cycles begin at $B = 0$, $3$, $3 + 2 \cdot 3 = 9$, $3 + 2 \cdot 9 = 21$. Step 7 is
number 4 in the cycle of 6 steps that began at 3: with $\eta = 0.8$ and $\eta_{\text{end}} = 0$ its rate is
$0.4\,(1 + \cos 120°) = 0.2$.

*Plateau*, $\tau = 0.1$, $P = 1$, $C = 1$, factor 0.5, rate 0.8. The loss 2: best, as anything is. 1.9: not below 1.8,
bad (one). 1.7: progress, best 1.7. 1.6, 1.58: bad twice, which is more than $P$: the rate is 0.4. 1.6: cooldown, not
counted. 1.62 and 1.61: bad twice, the rate is 0.2.

## Plan

- `cosine_between` returns (1), and is of use twice below.
- `cyclical` returns the rates (2) of the steps that it is asked for, one or an array of them.
- `one_cycle` returns the rates (3), `one_cycle_momentum` the momenta that belong to them.
- `cycle` takes steps and returns where each is in its cycle and how long that is, by (4) in whole numbers.
- `warm_restarts` returns the rates (5).
- `reduce_on_plateau` takes what it knows and a loss, and returns what it knows now, by (6).

## Pitfalls

- The last step of a cycle has the first rate of the next one, or the peak comes twice.
- Some restart, and not the first, comes a step late.
- After the planned end the rate rises again, or is no number.
- The momentum peaks together with the rate.
- The rate never falls though the loss rises: is the best loss still the one of before the first step?
- With a negative loss the rate falls although the loss does too, or a loss that got worse counts as progress.
- NaN as a loss, and the rate stays for ever.

## Cost

A few operations a step. Asked for one step at a time, as in a training loop, the checks and NumPy's handling of single
numbers cost more than the formulas: some 10 µs, and 20 µs with restarts, which are two to ten times what PyTorch's
schedulers take. They update a rate in place, where these can answer for any step, and for all of them at once.

## Go further

- *Experiment*: keep the parameters at the end of each cycle of `warm_restarts`, and average the predictions of all:
  an ensemble for the price of one training [4]. How different are its members?
- *Stretch*: a rate finder raises the rate exponentially for some hundred batches and watches the loss. From that
  curve, choose the peak of `one_cycle`.

## References

1. Smith (2017), Cyclical learning rates for training neural networks, https://arxiv.org/abs/1506.01186
2. Smith & Topin (2019), Super-convergence: very fast training of neural networks using large learning rates,
   https://arxiv.org/abs/1708.07120
3. Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, https://arxiv.org/abs/1608.03983
4. Huang et al. (2017), Snapshot ensembles: train 1, get M for free, https://arxiv.org/abs/1704.00109
"""

# 7 parts to write. Test them with: pytest exercises/optim/schedules/cyclic.py
# To be written without: torch.optim

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int

from mlpath.optim.schedules._shared import Rates, Steps, check_count, check_end, check_rate, check_share, whole_steps

Mode = Literal["triangular", "triangular2", "exp_range"]


@dataclass(frozen=True)
class Plateau:
    r"""What `reduce_on_plateau` knows.

    Attributes
    ----------
    rate : float
        The rate $\eta$ to be used now.
    best : float
        The best loss $\ell^*$ so far; infinite before the first.
    n_bad : int
        How many bad losses in a row were counted.
    cooldown : int
        How many of the next losses are not counted as bad.
    """

    rate: float
    best: float = np.inf
    n_bad: int = 0
    cooldown: int = 0


def cosine_between(first: float, last: float, share: Rates) -> Rates:
    """Return the point that is some share of the way along half a wave of the cosine, equation (1).

    Parameters
    ----------
    first, last : float
        Where the way begins and where it ends, in either order of size.
    share : ndarray or float
        Which share of the way, from 0 to 1.

    Returns
    -------
    ndarray or float
        A number between `first` and `last` for each share.

    Examples
    --------
    >>> cosine_between(0.8, 0.2, np.array([0.0, 0.25, 0.5, 1.0])).round(4)
    array([0.8   , 0.7121, 0.5   , 0.2   ])
    """
    raise NotImplementedError("not written yet: cosine_between")


def cyclical(
    step: Steps,
    low: float,
    high: float,
    *,
    n_up: int,
    n_down: int | None = None,
    mode: Mode = "triangular",
    factor: float = 1.0,
) -> Rates:
    r"""Return the rates that go up and down along lines, equation (2).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    low, high : float
        The rates $\eta_{\min}$ and $\eta_{\max}$.
    n_up : int
        The number of steps $u$ from the lowest rate to the highest.
    n_down : int, optional
        The number of steps $d$ back; the same, unless told otherwise.
    mode : {"triangular", "triangular2", "exp_range"}
        What becomes of the peaks: they stay, are halved from cycle to cycle, or sink with every step.
    factor : float
        The factor $\gamma$ of `exp_range`, above 0 and at most 1; the other modes do not use it.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `low` not between 0 and `high`, `high` not positive and finite, `n_up` or
        `n_down` not a whole number above 0, `mode` unknown, or `factor` not above 0 and at most 1.

    Examples
    --------
    >>> cyclical(np.arange(9), 0.1, 0.7, n_up=2, n_down=4, mode="triangular2")
    array([0.1 , 0.4 , 0.7 , 0.55, 0.4 , 0.25, 0.1 , 0.25, 0.4 ])
    """
    # given: the checks
    step = whole_steps(step)
    n_down = n_up if n_down is None else n_down
    _check_cyclical(low, high, n_up, n_down, mode, factor)
    raise NotImplementedError("not written yet: cyclical")


def one_cycle(
    step: Steps, peak: float, *, n_up: int, n_steps: int, start_divisor: float = 25.0, end_divisor: float = 2.5e5
) -> Rates:
    r"""Return the rates that rise to a peak once and fall far below where they began, equation (3).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    peak : float
        The largest rate $\eta$.
    n_up : int
        The step $u$ that has the largest rate.
    n_steps : int
        The step $T$, greater than `n_up`, from which on the rate is the last one.
    start_divisor, end_divisor : float
        The divisors $D$ and $E$ that make the first and the last rate out of the largest, both at least 1.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `peak` not positive and finite, `n_up` not a whole number above 0, `n_steps`
        not a greater one, or a divisor below 1 or not finite.

    Examples
    --------
    >>> one_cycle(np.arange(7), 0.8, n_up=2, n_steps=5, start_divisor=4.0, end_divisor=8.0)
    array([0.2  , 0.5  , 0.8  , 0.625, 0.275, 0.1  , 0.1  ])
    """
    # given: the checks
    step = whole_steps(step)
    check_rate(peak, "peak")
    _check_one_cycle(n_up, n_steps)
    for divisor, name in ((start_divisor, "start_divisor"), (end_divisor, "end_divisor")):
        if not 1 <= divisor < np.inf:
            raise ValueError(f"{name} must be at least 1 and finite, got {divisor}")
    raise NotImplementedError("not written yet: one_cycle")


def one_cycle_momentum(step: Steps, *, n_up: int, n_steps: int, low: float = 0.85, high: float = 0.95) -> Rates:
    """Return the momenta that belong to the rates of one cycle: high at both ends, and low where the rate is largest.

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    n_up : int
        The step $u$ that has the lowest momentum.
    n_steps : int
        The step $T$, greater than `n_up`, from which on the momentum is `high` again.
    low, high : float
        The lowest and the highest momentum, at least 0 and below 1.

    Returns
    -------
    ndarray or float
        A momentum for each step, in the shape of `step`; between its extremes it follows (1), as the rate does.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `n_up` not a whole number above 0, `n_steps` not a greater one, or not
        0 <= `low` <= `high` < 1.

    Examples
    --------
    >>> one_cycle_momentum(np.arange(7), n_up=2, n_steps=5, low=0.5, high=0.9)
    array([0.9, 0.7, 0.5, 0.6, 0.8, 0.9, 0.9])
    """
    # given: the checks
    step = whole_steps(step)
    _check_one_cycle(n_up, n_steps)
    if not 0 <= low <= high < 1:
        raise ValueError(f"low and high must satisfy 0 <= low <= high < 1, got {low} and {high}")
    raise NotImplementedError("not written yet: one_cycle_momentum")


def cycle(
    step: Steps, *, first: int, growth: int = 1
) -> tuple[Int[np.ndarray, "*shape"] | int, Int[np.ndarray, "*shape"] | int]:
    """Return where steps are in their cycles, and how long those are, by equation (4).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    first : int
        The number of steps $T_0$ of the first cycle.
    growth : int
        How many times as long as the one before each cycle is, the number $m$.

    Returns
    -------
    place : ndarray or int
        For each step $t$, how many steps ago its cycle began, $t - B_i$.
    length : ndarray or int
        The number of steps of that cycle, $T_i$. Both are exact as long as its last step fits an `int64`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, or `first` or `growth` not a whole number above 0.

    Examples
    --------
    >>> place, length = cycle(np.array([0, 2, 3, 7, 9, 20, 21]), first=3, growth=2)
    >>> place, length
    (array([ 0,  2,  0,  4,  0, 11,  0]), array([ 3,  3,  6,  6, 12, 12, 24]))
    """
    # given: the checks
    step = whole_steps(step)
    check_count(first, "first")
    check_count(growth, "growth")
    raise NotImplementedError("not written yet: cycle")


def warm_restarts(step: Steps, rate: float, *, first: int, growth: int = 1, end: float = 0.0) -> Rates:
    r"""Return the rates that fall along half a wave and begin again from the top, equation (5).

    Parameters
    ----------
    step : int or array of int
        Which steps, counted from 0.
    rate : float
        The rate $\eta$ at the beginning of each cycle.
    first : int
        The number of steps $T_0$ of the first cycle.
    growth : int
        How many times as long as the one before each cycle is.
    end : float
        The rate $\eta_{\text{end}}$ to which each cycle falls, though it is not reached, from 0 to `rate`.

    Returns
    -------
    ndarray or float
        A rate for each step, in the shape of `step`.

    Raises
    ------
    ValueError
        If a step is negative or not whole, `rate` not positive and finite, `first` or `growth` not a whole number above
        0, or `end` not between 0 and `rate`.

    Examples
    --------
    >>> warm_restarts(np.arange(8), 0.8, first=2, growth=2).round(4)
    array([0.8   , 0.4   , 0.8   , 0.6828, 0.4   , 0.1172, 0.8   , 0.7696])
    """
    # given: the checks
    check_rate(rate, "rate")
    check_end(end, rate)
    raise NotImplementedError("not written yet: warm_restarts")


def reduce_on_plateau(
    state: Plateau,
    loss: float,
    *,
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    cooldown: int = 0,
    smallest: float = 0.0,
) -> Plateau:
    r"""Take note of a loss, and let the rate fall if there was no progress for too long: equation (6).

    Parameters
    ----------
    state : Plateau
        What was known before. It is not changed.
    loss : float
        The newest loss. What is not finite is bad, of whichever sign.
    factor : float
        What the rate is multiplied by, above 0 and at most 1.
    patience : int
        The number $P$ of bad losses in a row that are put up with.
    threshold : float
        The share $\tau$ of the best loss that a better one must gain, at least 0.
    cooldown : int
        The number $C$ of losses after a fall that do not count as bad.
    smallest : float
        The rate is never pushed below this; one that is below it already stays.

    Returns
    -------
    Plateau
        What is known now, with the rate for the next step.

    Raises
    ------
    ValueError
        If `factor` is not above 0 and at most 1, `patience` or `cooldown` not a whole number of at least 0, or
        `threshold` or `smallest` negative or not finite.

    Examples
    --------
    >>> state = Plateau(rate=0.8, best=1.7, n_bad=1)
    >>> reduce_on_plateau(state, 1.58, factor=0.5, patience=1, threshold=0.1, cooldown=3)
    Plateau(rate=0.4, best=1.7, n_bad=0, cooldown=3)
    """
    # given: the checks
    _check_plateau(factor, patience, threshold, cooldown, smallest)
    raise NotImplementedError("not written yet: reduce_on_plateau")


def _check_cyclical(
    low: float, high: float, n_up: int, n_down: int, mode: str, factor: float
) -> None:  # given: argument checks
    """Raise a ValueError unless there are such triangles."""
    check_rate(high, "high")
    if not 0 <= low <= high:
        raise ValueError(f"low must lie between 0 and high, {high}, got {low}")
    check_count(n_up, "n_up")
    check_count(n_down, "n_down")
    if mode not in ("triangular", "triangular2", "exp_range"):
        raise ValueError(f"mode must be 'triangular', 'triangular2' or 'exp_range', got {mode!r}")
    check_share(factor, "factor")


def _check_one_cycle(n_up: int, n_steps: int) -> None:  # given: argument checks
    """Raise a ValueError unless the cycle has two parts."""
    check_count(n_up, "n_up")
    check_count(n_steps, "n_steps", least=n_up + 1)


def _check_plateau(
    factor: float, patience: int, threshold: float, cooldown: int, smallest: float
) -> None:  # given: argument checks
    """Raise a ValueError unless a plateau can be noticed and answered with these."""
    check_share(factor, "factor")
    check_count(patience, "patience", least=0)
    check_count(cooldown, "cooldown", least=0)
    for value, name in ((threshold, "threshold"), (smallest, "smallest")):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} must be at least 0 and finite, got {value}")
