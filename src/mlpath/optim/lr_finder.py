r"""Learning-rate range test: one short run with a growing rate tells which rates train.

## Idea

A rate that is too small wastes a training, one that is too large destroys it, and between them lie several powers of
ten. So try them all in one run of a hundred steps: begin with a rate that surely is too small, multiply it a little at
each step, and watch the loss. It stays, then falls, then explodes. The curve is a picture of the rates that work, and
simple rules read a suggestion from it. Afterwards everything is put back as it was.

## Maths

**The ramp** [1]. Rates between $\eta_1$ and $\eta_n$ that grow by a constant factor,

$$\eta_i = \eta_1 \left( \frac{\eta_n}{\eta_1} \right)^{(i - 1) / (n - 1)} , \tag{1}$$

are evenly spaced on the axis of $\log \eta$. Step $i$ computes the loss $\ell_i$ and the gradient $g_i$ of a batch, at
weights that have not seen $\eta_i$ yet, and then makes its step with $\eta_i$:

$$w_{i+1} = w_i - \eta_i\, g_i , \tag{2}$$

or whatever the optimiser makes of it.

**Smoothing.** Batches differ, and so do their losses. Take the exponential average, corrected for its start as in the
exercise on adaptive steps,

$$m_i = \beta m_{i-1} + (1 - \beta) \ell_i , \qquad m_0 = 0 , \qquad s_i = \frac{m_i}{1 - \beta^i} . \tag{3}$$

The price is a delay of some $\beta / (1 - \beta)$ steps: each feature of the curve appears at a rate that is too large by
so many factors of the ramp.

**When to stop.** The test is over as soon as

$$s_i > 4 \min_{j \le i} s_j , \tag{4}$$

or the loss is not finite: what comes after tells nothing. (4) supposes losses that are not negative.

**What to suggest.** Let $k$ be where $s$ is least. What came after is explosion, and if $k = 1$ the loss never fell:
then there is nothing to suggest. Three rules are in use:

- *Steepest*: the rate at which the loss falls fastest on the logarithmic axis,

$$\eta^\star = \eta_i \ \text{ with } \ i = \arg\min_{i \le k} \frac{d s}{d \log \eta} , \tag{5}$$

  with differences for the derivative: to both neighbours, over twice the spacing, and at the ends of the curve to the
  only one.
- *A tenth of the best*: $\eta_k / 10$. At $\eta_k$ itself gains and losses balance: it is too large already. (6)
- *The largest gradient* [3]: a function that nowhere is steeper than $K$ changes by at most $K \|\Delta w\|$. With

$$\eta = \frac{1}{K} , \qquad K = \max_{i \le k} \|g_i\| , \tag{7}$$

  no step of gradient descent is longer than 1 while gradients are no longer than in the test. The authors bound $K$ by
  the data, for instance $K \le \frac{c - 1}{c\, n} \|X\|$ for a last layer with $c$ classes; here it is the largest that
  was met while the loss fell. Note what (7) is not: $K$ bounds the *slope*, where gradient descent's limit is
  $2/L$ with a bound $L$ on the *curvature*. Multiply the loss by 10: both become ten times smaller. Measure the weights
  in other units: $1/K$ and $2/L$ change differently. It is a first guess for weights of size 1, and no more.

**A curve that is known.** For $f = \frac12 \lambda w^2$ (2) gives $w_{i+1} = (1 - \eta_i \lambda) w_i$, so

$$\ell_i = \ell_1 \prod_{j < i} (1 - \eta_j \lambda)^2 . \tag{8}$$

The loss falls as long as $\eta_i \lambda < 2$, and rises from $\eta_i = 2/\lambda$ on: the test finds the limit of
stability. For many eigenvalues it is $2/L$, though the explosion begins later: first the sharpest direction, which the
small rates have all but removed, has to grow again.

## Worked example

$f = \frac12 w^2$ from $w = 2$, with the rates $0.125, 0.5, 2, 8$ ($\eta_1 = 0.125$, a factor of 4).

- Losses before the steps: $2$; then $w = 1.75$, loss $1.531$; $w = 0.875$, loss $0.383$; $w = -0.875$, loss $0.383$. The
  rate 2 only changed the sign. A fifth step, after the rate 8, would find $w = 6.125$.
- Smoothed with $\beta = 0.5$: $m = 1, 1.266, 0.824, 0.603$, divided by $0.5, 0.75, 0.875, 0.9375$:
  $s = 2, 1.688, 0.942, 0.644$.
- The spacing of the logarithms is $1.386$. Slopes by (5): $-0.225$ at the left end, then $-0.382$, $-0.377$, and $-0.215$
  at the right end: the steepest rate is $0.5$. The least $s$ is the last: a tenth of the best is $0.8$.
- Gradients are $2, 1.75, 0.875, -0.875$: (7) suggests $0.5$.

## Plan

- `ramp` returns the rates (1). `smooth` is (3), for all losses at once. `has_exploded` decides (4) from a smoothed curve.
- `restoring` takes a model and its optimiser, and puts them back when the block of a `with` statement ends: a function
  that yields once, which `contextlib.contextmanager` turns into that.
- `range_test` takes a model, its optimiser and a function that computes the loss of the next batch; makes the steps (2)
  inside such a block, and returns a `RangeTest` with the records.
- `steepest_rate`, `tenth_of_best` and `largest_gradient_rate` are (5), (6) and (7) of such a record.

## Pitfalls

- The training after the test begins with weights that the test has ruined, or with its last rate.
- Momentum is left over from the explosion.
- The first smoothed losses are near zero, and the test stops at once.
- The suggested rate is at the left end: the loss never fell there, it was only noise.
- The suggestion moves by a factor of ten with another smoothing, or another number of steps.

## Cost

As many training steps as the ramp has rates, some hundred, and a copy of the weights and of the optimiser's state. It
keeps one norm a step; that is one more pass over the gradients.

## Go further

- *Experiment*: make the test with momentum 0, 0.5 and 0.9. How does the explosion move, and does the best rate times
  $1 / (1 - \beta)$ stay?
- *Stretch*: repeat the test in the middle of a training, from weights that were trained with a small and with a large
  rate. Which explodes earlier? [2] takes the answer as a reason for large rates.

## References

1. Smith (2017), Cyclical learning rates for training neural networks, https://arxiv.org/abs/1506.01186
2. Smith (2018), A disciplined approach to neural network hyper-parameters, https://arxiv.org/abs/1803.09820
3. Yedida, Saha & Prashanth (2021), LipschitzLR: using theoretically computed adaptive learning rates for fast
   convergence, https://arxiv.org/abs/1902.07399
"""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from mlpath.optim.adaptive import bias_correction


@dataclass(frozen=True)
class RangeTest:
    """What a range test recorded, one entry for each of its steps.

    Attributes
    ----------
    rates : ndarray
        The rates, of which the ramp's last ones are missing if the test was stopped.
    losses : ndarray
        The loss of each step's batch, before the step with the rate was made.
    smoothed : ndarray
        The same, smoothed by (3).
    norms : ndarray
        The Euclidean norm of all gradients of each step, as one vector.
    """

    rates: Float[np.ndarray, " n_records"]
    losses: Float[np.ndarray, " n_records"]
    smoothed: Float[np.ndarray, " n_records"]
    norms: Float[np.ndarray, " n_records"]


def ramp(first: float, last: float, n_steps: int) -> Float[np.ndarray, " {n_steps}"]:
    r"""Return rates that grow by a constant factor: equation (1).

    Parameters
    ----------
    first, last : float
        The first rate and the last, $0 < \eta_1 < \eta_n$.
    n_steps : int
        How many rates there are, both ends included; at least 2.

    Returns
    -------
    ndarray
        The rates.

    Raises
    ------
    ValueError
        If `first` is not positive, `last` not above it, one of them not finite, or `n_steps` below 2.

    Examples
    --------
    >>> ramp(0.125, 8.0, 4)
    array([0.125, 0.5  , 2.   , 8.   ])
    """
    # given: the checks
    if not 0 < first < math.inf:
        raise ValueError(f"first must be positive and finite, got {first}")
    if not first < last < math.inf:
        raise ValueError(f"last must be finite and above first, {first}, got {last}")
    if not n_steps >= 2:
        raise ValueError(f"n_steps must be at least 2, got {n_steps}")
    # yours
    return np.exp(np.linspace(math.log(first), math.log(last), n_steps))


def smooth(losses: Float[np.ndarray, " n_records"], beta: float) -> Float[np.ndarray, " n_records"]:
    r"""Return the exponential average of the losses up to each step, corrected for its start: equation (3).

    Parameters
    ----------
    losses : ndarray
        The losses in their order. They are not changed.
    beta : float
        The decay $\beta$, at least 0 and below 1; 0 does not smooth.

    Returns
    -------
    ndarray
        The smoothed losses.

    Raises
    ------
    ValueError
        If `beta` is not in [0, 1).

    Examples
    --------
    >>> smooth(np.array([2.0, 1.5, 0.4]), 0.5).round(4)
    array([2.    , 1.6667, 0.9429])
    """
    # given: the checks
    _check_beta(beta)
    # yours
    average, smoothed = np.zeros(1), np.empty(len(losses))
    for i, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        smoothed[i] = bias_correction(average, beta, i + 1)[0]
    return smoothed


def has_exploded(smoothed: Float[np.ndarray, " n_records"], *, factor: float = 4.0) -> bool:
    """Say whether the last smoothed loss is so large that the test is over: equation (4).

    Parameters
    ----------
    smoothed : ndarray
        The smoothed losses up to now, at least one.
    factor : float
        How many times the least of them is too much, at least 1.

    Returns
    -------
    bool
        Whether the last exceeds `factor` times the least, or is not finite.

    Raises
    ------
    ValueError
        If `smoothed` is empty or has a negative entry, or `factor` is below 1.

    Examples
    --------
    >>> has_exploded(np.array([2.0, 0.5, 1.9])), has_exploded(np.array([2.0, 0.5, 2.1]))
    (False, True)
    """
    # given: the checks
    if smoothed.ndim != 1 or not len(smoothed):
        raise ValueError(f"smoothed must have at least one entry, got shape {smoothed.shape}")
    if (smoothed < 0).any():
        raise ValueError(f"smoothed losses must not be negative, got {smoothed.min()}")
    if not factor >= 1:
        raise ValueError(f"factor must be at least 1, got {factor}")
    # yours
    return not smoothed[-1] <= min(factor * smoothed.min(), np.finfo(float).max)  # written so that NaN exceeds it


@contextmanager
def restoring(model: nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Put a model and its optimiser back, at the end of a `with` block, to what they were before it.

    However the block ends, also by an error, which passes: the weights and buffers of the model and the state and the
    settings of the optimiser are then as before, and all gradients are cleared.

    Parameters
    ----------
    model : nn.Module
        The model.
    optimizer : torch.optim.Optimizer
        Over the model's parameters.

    Yields
    ------
    None
        Once: the block runs then.

    Examples
    --------
    >>> model = nn.Linear(1, 1)
    >>> _ = nn.init.constant_(model.bias, 2.0)
    >>> with restoring(model, torch.optim.SGD(model.parameters(), lr=0.3)):
    ...     _ = nn.init.constant_(model.bias, 7.0)
    >>> model.bias.item()
    2.0
    """
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    try:
        yield
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        optimizer.zero_grad()


def range_test(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch_loss: Callable[[], Float[Tensor, ""]],
    rates: Float[np.ndarray, " n_rates"],
    *,
    beta: float = 0.9,
    factor: float = 4.0,
) -> RangeTest:
    r"""Train for one step with each rate, equation (2), until the loss explodes, and put everything back.

    A loss that is not finite ends the test without being recorded; one that makes (4) true is the last of the record,
    and no step is made for it. However the test ends, also by an error of `batch_loss`, all is put back as `restoring` does.

    Parameters
    ----------
    model : nn.Module
        What is trained.
    optimizer : torch.optim.Optimizer
        Over the model's parameters. All its groups are given the same rate.
    batch_loss : callable
        Takes nothing, and returns the loss of the model on the next batch, a tensor without axes that is not negative.
    rates : ndarray
        The rates, from `ramp`.
    beta : float
        The decay of the smoothing (3).
    factor : float
        See (4).

    Returns
    -------
    RangeTest
        The records.

    Raises
    ------
    ValueError
        If `rates` is empty or has an entry that is not positive and finite, `beta` is not in [0, 1), `factor` is below
        1, a loss is negative, or the very first loss is not finite.

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(model.weight, 2.0)
    >>> sgd = torch.optim.SGD(model.parameters(), lr=0.3)
    >>> test = range_test(model, sgd, lambda: model.weight.square().sum() / 2, ramp(0.125, 8.0, 4), beta=0.5)
    >>> test.losses.round(3), test.smoothed.round(3)
    (array([2.   , 1.531, 0.383, 0.383]), array([2.   , 1.688, 0.942, 0.644]))
    >>> model.weight.item(), sgd.param_groups[0]["lr"]
    (2.0, 0.3)
    """
    # given: the checks
    _check_test(rates, beta, factor)
    # yours
    losses, norms = [], []
    with restoring(model, optimizer):
        for rate in rates:
            optimizer.zero_grad()
            loss = batch_loss()
            if not torch.isfinite(loss):
                break
            loss.backward()
            losses.append(loss.item())
            norms.append(_gradient_norm(model))
            if has_exploded(smooth(np.array(losses), beta), factor=factor):
                break
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
            optimizer.step()
    return _record(rates, losses, norms, beta)


def steepest_rate(test: RangeTest) -> float:
    """Return the rate at which the smoothed loss falls fastest on the logarithmic axis: equation (5).

    Parameters
    ----------
    test : RangeTest
        The records.

    Returns
    -------
    float
        The rate, the first of several that are equally steep.

    Raises
    ------
    ValueError
        If the smoothed loss never falls below its first value.

    Examples
    --------
    >>> smoothed = np.array([2.0, 1.7, 0.9, 0.6, 0.8])
    >>> test = RangeTest(ramp(0.125, 32.0, 5), smoothed, smoothed, np.ones(5))
    >>> print(f"{steepest_rate(test):.4f}")
    0.5000
    """
    # given: the checks
    best = _fallen(test)
    # yours
    slopes = np.gradient(test.smoothed, np.log(test.rates))
    return float(test.rates[np.argmin(slopes[: best + 1])])


def tenth_of_best(test: RangeTest) -> float:
    """Return a tenth of the rate at which the smoothed loss is least, rule (6).

    Parameters
    ----------
    test : RangeTest
        The records.

    Returns
    -------
    float
        The rate, from the first of several minima.

    Raises
    ------
    ValueError
        If the smoothed loss never falls below its first value.

    Examples
    --------
    >>> smoothed = np.array([2.0, 1.7, 0.9, 0.6, 0.8])
    >>> print(f"{tenth_of_best(RangeTest(ramp(0.125, 32.0, 5), smoothed, smoothed, np.ones(5))):.4f}")
    0.8000
    """
    # given: the checks
    best = _fallen(test)
    # yours
    return float(test.rates[best] / 10)


def largest_gradient_rate(test: RangeTest) -> float:
    """Return the inverse of the largest gradient norm met while the smoothed loss fell: equation (7).

    Parameters
    ----------
    test : RangeTest
        The records.

    Returns
    -------
    float
        The rate.

    Raises
    ------
    ValueError
        If the smoothed loss never falls below its first value.

    Examples
    --------
    >>> smoothed, norms = np.array([2.0, 1.7, 0.9, 0.6, 0.8]), np.array([1.5, 2.0, 1.0, 0.5, 9.0])
    >>> print(largest_gradient_rate(RangeTest(ramp(0.125, 32.0, 5), smoothed, smoothed, norms)))
    0.5
    """
    # given: the checks
    best = _fallen(test)
    # yours
    return float(1 / test.norms[: best + 1].max())


def _gradient_norm(model: nn.Module) -> float:  # given
    """Return the Euclidean norm of all gradients as one vector."""
    norms = [torch.linalg.vector_norm(p.grad.double()) for p in model.parameters() if p.grad is not None]
    return float(torch.linalg.vector_norm(torch.stack(norms))) if norms else 0.0


def _record(rates: np.ndarray, losses: list[float], norms: list[float], beta: float) -> RangeTest:  # given
    """Make a record of what was seen, or say that nothing was."""
    if not losses:
        raise ValueError("batch_loss must be finite at the start, got a first loss that is not")
    seen = np.array(losses, dtype=float)
    return RangeTest(np.array(rates[: len(seen)], dtype=float), seen, smooth(seen, beta), np.array(norms, dtype=float))


def _fallen(test: RangeTest) -> int:  # given
    """Return where the smoothed loss is least, and refuse a curve that never falls."""
    best = int(np.argmin(test.smoothed))
    if best == 0:
        raise ValueError(f"test must have a loss that falls, got its least smoothed loss first, {test.smoothed[0]}")
    return best


def _check_beta(beta: float) -> None:  # given: argument checks
    """Refuse what is no decay."""
    if not 0 <= beta < 1:
        raise ValueError(f"beta must be at least 0 and below 1, got {beta}")


def _check_test(rates: np.ndarray, beta: float, factor: float) -> None:  # given: argument checks
    """Refuse rates that are none, and settings that are not for smoothing and stopping."""
    if rates.ndim != 1 or not len(rates) or not ((rates > 0) & (rates < math.inf)).all():
        raise ValueError(f"rates must be positive and finite, and at least one, got {rates}")
    _check_beta(beta)
    if not factor >= 1:
        raise ValueError(f"factor must be at least 1, got {factor}")
