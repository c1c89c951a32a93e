r"""Variance reduction: SVRG, SAG and SAGA take one sample a step and still converge as fast as a line.

## Idea

A gradient of one sample is cheap and noisy, and near the minimum only the noise is left: stochastic descent with
constant steps stalls. But the samples are always the same ones. Remember for each of them what its gradient was when it
was last looked at. The mean of what is remembered is known exactly, and only the *change* since then has to be sampled.
As the walk settles, the changes vanish, and the noise with them. The price is memory; for linear models it is one
number for each sample.

## Maths

Logistic regression with labels $y_i = \pm 1$ and ridge $\mu$, written with the rows $r_i = y_i a_i$:

$$f(w) = \frac1n \sum_{i=1}^n \log\bigl(1 + e^{-r_i^\top w}\bigr) + \frac\mu2 \|w\|^2 . \tag{1}$$

The gradient of one loss is a number times its row, and this number, the *slope*, is all that has to be remembered of
it:

$$\nabla \ell_i(w) = s_i(w)\, r_i , \qquad s_i(w) = -\frac{1}{1 + e^{r_i^\top w}} . \tag{2}$$

The term with $\mu$ is known exactly at any point and needs no memory. A *table* holds slopes $t_i$, each of its own
time, and the mean of the gradients that they stand for:

$$\bar g = \frac1n \sum_i t_i r_i . \tag{3}$$

**The estimate of SVRG and SAGA** [1, 2]. Draw $i$; replace its old gradient by its new one, in full:

$$d_i = \bigl(s_i(w) - t_i\bigr) r_i + \bar g + \mu w . \tag{4}$$

Its mean over $i$ is $\nabla f(w)$, whatever the table holds: what is added on average is what $\bar g$ lacks. Its
variance is that of $(s_i(w) - t_i) r_i$. If the table and the point are both near the minimum, that is near zero,
although the gradients themselves are not.

**The estimate of SAG** [3]. Replace the old gradient by the new one in the mean, where it has the weight $1/n$:

$$d_i = \frac{s_i(w) - t_i}{n}\, r_i + \bar g + \mu w . \tag{5}$$

Its variance is $n^2$ times smaller, and its mean is not the gradient: over $i$ it is $\mu w$ plus $\bar g$ and an
$n$-th of what $\bar g$ lacks. The bias fades as the table comes up to date; proofs are much harder, the walk is about
as fast.

**How the table ages.** SVRG takes all slopes anew at a *snapshot* $\tilde w$ once in an epoch, and leaves them. SAG
and SAGA renew the slope that was drawn, at each step, and the mean with it:

$$t_i \leftarrow s_i(w), \qquad \bar g \leftarrow \bar g + \frac{s_i(w) - t_i}{n}\, r_i . \tag{6}$$

All three then step by $w \leftarrow w - a\, d_i$. In (4) and (5) $t_i$ and $\bar g$ are those before (6), and $s_i$ is
taken before $w$ moves.

**The rate.** Let $L = \max_i \|r_i\|^2 / 4 + \mu$, which bounds the curvature of every single loss. With steps of
$1 / 3L$ SAGA obeys [2]

$$\operatorname{E} \|w_k - w_*\|^2 \le \Bigl(1 - \min\bigl(\tfrac1{4n}, \tfrac{\mu}{3L}\bigr)\Bigr)^{k}\, C , \tag{7}$$

with $C = \|w_0 - w_*\|^2 + \frac{2n}{3L} \bigl(f(w_0) - f(w_*)\bigr)$ if the table begins at $w_0$: *linear*
convergence, a straight line on a logarithmic scale. An epoch of $n$ steps gains a constant factor as long as $L/\mu$ is
not larger than $n$. Gradient descent, which pays as much for one step, gains $1 - \mu / L$.

| | kept, any model | kept, linear model | slopes an epoch of $n$ steps |
|---|---|---|---|
| SGD | $d$ | $d$ | $n$ |
| SVRG | $3 d$ | $3 d$, or $2 d + n$ here | $3n$; $2n$ if those of the snapshot are kept |
| SAG, SAGA | $n d + 2 d$ | $n + 2 d$ | $n$ |

## Worked example

Two rows of one number, 1 and 2, no ridge; the table was made at $w = 0$: both slopes are $-0.5$, and
$\bar g = (-0.5 - 1) / 2 = -0.75$. Now $w = 0.1$. The slopes are $-0.4750$ and $-0.4502$, the gradients of the samples
$-0.4750$ and $-0.9003$, the exact one $-0.6877$.

- By (4): $0.0250 - 0.75 = -0.7250$ and $0.0997 - 0.75 = -0.6503$. Their mean is $-0.6877$, and they scatter six times
  less than the gradients.
- By (5): $0.0125 - 0.75 = -0.7375$ and $0.0498 - 0.75 = -0.7002$, with the mean $-0.7188$: behind the times.
- SAGA draws the second sample with $a = 1$: $w = 0.1 + 0.6503 = 0.7503$, $t = (-0.5, -0.4502)$ and
  $\bar g = -0.75 + 0.0498 = -0.7002$.

## Plan

- `slopes` returns (2) for all rows, and `snapshot` the `Table` of one point, by (3).
- `reduced_estimates` and `averaged_estimates` return (4) and (5) for every index that may be drawn.
- `svrg_epoch`, `saga_epoch` and `sag_epoch` step along given indices, and return the point and, if they keep one, the
  table.
- `minimize` draws indices and repeats epochs until the gradient is small.

`smoothness` (given) is $L$.

## Pitfalls

- It converges as a line, and then stalls far above rounding.
- Right for SVRG, and for SAGA only while no index is drawn twice.
- The mean of the table and its slopes drift apart.
- The first epoch is worse than that of plain stochastic descent.
- With the step size of gradient descent, which goes by the curvature of the whole sum, it diverges.
- The table of the caller changes.

## Cost

A step costs O(dim), whatever $n$: the copies of the table are made once in an epoch. In NumPy a step takes some 9 µs,
nearly all of it for calls: 18 times as long as in scikit-learn's compiled SAGA and SAG for rows of 30 numbers, and 1.8
times for rows of 1,000.

## Go further

- *Experiment*: draw the errors of SAGA and of gradient descent against the number of slopes taken, for ridges from 1 to
  0.001. Where do they cross, and what does (7) say?
- *Stretch*: reshuffle instead of drawing with replacement. The proofs for that came later and are weaker; the walk is
  often faster. Is it here?

## References

1. Johnson & Zhang (2013), Accelerating stochastic gradient descent using predictive variance reduction,
   https://papers.nips.cc/paper/4937-accelerating-stochastic-gradient-descent-using-predictive-variance-reduction
2. Defazio, Bach & Lacoste-Julien (2014), SAGA: a fast incremental gradient method with support for non-strongly convex
   composite objectives, https://arxiv.org/abs/1407.0202
3. Schmidt, Le Roux & Bach (2017), Minimizing finite sums with the stochastic average gradient,
   https://arxiv.org/abs/1309.2388
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping

Rows = Float[np.ndarray, "n_samples dim"]
Weights = Float[np.ndarray, " dim"]
Indices = Int[np.ndarray, " n_steps"]


@dataclass(frozen=True)
class Table:
    r"""What is remembered: the slopes $t_i$, and the mean $\bar g$ of the gradients that they stand for, (3)."""

    slopes: Float[np.ndarray, " n_samples"]
    mean: Float[np.ndarray, " dim"]


def smoothness(rows: Float[np.ndarray, "n_samples dim"], ridge: float) -> float:  # given
    """Return a bound on the curvature of every single loss with its ridge, $L$ of (7).

    Parameters
    ----------
    rows : ndarray
        The features of each sample, times its label of +1 or -1.
    ridge : float
        The ridge.

    Returns
    -------
    float
        The bound.

    Examples
    --------
    >>> smoothness(np.array([[1.0, 1.0], [2.0, 0.0]]), 0.5)
    1.5
    """
    return float((rows * rows).sum(axis=1).max() / 4 + ridge)


def slopes(rows: Float[np.ndarray, "n_samples dim"], w: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " n_samples"]:
    """Return the slope of each sample's loss, equation (2).

    Parameters
    ----------
    rows : ndarray
        The features of each sample, times its label of +1 or -1.
    w : ndarray
        The weights.

    Returns
    -------
    ndarray
        The slopes, between -1 and 0, for margins of any size.

    Examples
    --------
    >>> slopes(np.array([[1.0], [2.0], [-9000.0]]), np.array([0.1])).round(4)
    array([-0.475 , -0.4502, -1.    ])
    """
    return (np.tanh(rows @ w / 2) - 1) / 2


def snapshot(rows: Float[np.ndarray, "n_samples dim"], w: Float[np.ndarray, " dim"]) -> Table:
    """Return the table of a single point, equation (3).

    Parameters
    ----------
    rows : ndarray
        The features of each sample, times its label.
    w : ndarray
        The weights at which all slopes are taken.

    Returns
    -------
    Table
        The slopes and the mean gradient, without the ridge.

    Examples
    --------
    >>> snapshot(np.array([[1.0], [2.0]]), np.array([0.0]))
    Table(slopes=array([-0.5, -0.5]), mean=array([-0.75]))
    """
    taken = slopes(rows, w)
    return Table(taken, taken @ rows / len(rows))


def reduced_estimates(
    table: Table, rows: Float[np.ndarray, "n_samples dim"], w: Float[np.ndarray, " dim"], *, ridge: float
) -> Float[np.ndarray, "n_samples dim"]:
    """Return the estimates of the gradient that SVRG and SAGA may draw, equation (4).

    Parameters
    ----------
    table : Table
        What is remembered. It is not changed.
    rows : ndarray
        The features of each sample, times its label.
    w : ndarray
        The weights.
    ridge : float
        The ridge.

    Returns
    -------
    ndarray
        In row i, the estimate if sample i is drawn.

    Examples
    --------
    >>> rows = np.array([[1.0], [2.0]])
    >>> reduced_estimates(snapshot(rows, np.array([0.0])), rows, np.array([0.1]), ridge=0.0).round(4)
    array([[-0.725 ],
           [-0.6503]])
    """
    changes = (slopes(rows, w) - table.slopes)[:, None] * rows
    return changes + table.mean + ridge * w


def averaged_estimates(
    table: Table, rows: Float[np.ndarray, "n_samples dim"], w: Float[np.ndarray, " dim"], *, ridge: float
) -> Float[np.ndarray, "n_samples dim"]:
    """Return the estimates of the gradient that SAG may draw, equation (5).

    Parameters
    ----------
    table : Table
        What is remembered. It is not changed.
    rows : ndarray
        The features of each sample, times its label.
    w : ndarray
        The weights.
    ridge : float
        The ridge.

    Returns
    -------
    ndarray
        In row i, the estimate if sample i is drawn.

    Examples
    --------
    >>> rows = np.array([[1.0], [2.0]])
    >>> averaged_estimates(snapshot(rows, np.array([0.0])), rows, np.array([0.1]), ridge=0.0).round(4)
    array([[-0.7375],
           [-0.7002]])
    """
    changes = (slopes(rows, w) - table.slopes)[:, None] * rows
    return changes / len(rows) + table.mean + ridge * w


def svrg_epoch(
    rows: Float[np.ndarray, "n_samples dim"],
    w: Float[np.ndarray, " dim"],
    indices: Int[np.ndarray, " n_steps"],
    *,
    step_size: float,
    ridge: float,
) -> Float[np.ndarray, " dim"]:
    """Take a snapshot at the weights, and steps by equation (4) from there.

    Parameters
    ----------
    rows : ndarray
        The features of each sample, times its label.
    w : ndarray
        The weights to begin with. They are not changed.
    indices : ndarray
        Which samples to draw, one for each step.
    step_size : float
        The step size.
    ridge : float
        The ridge.

    Returns
    -------
    ndarray
        The weights after the last step.

    Examples
    --------
    >>> rows = np.array([[1.0], [2.0]])
    >>> svrg_epoch(rows, np.array([0.0]), np.array([1, 1]), step_size=0.1, ridge=0.0).round(4)
    array([0.1425])
    """
    table = snapshot(rows, w)
    for i in indices:
        change = _slope(rows[i], w) - table.slopes[i]
        w = w - step_size * (change * rows[i] + table.mean + ridge * w)
    return w


def saga_epoch(
    table: Table,
    rows: Float[np.ndarray, "n_samples dim"],
    w: Float[np.ndarray, " dim"],
    indices: Int[np.ndarray, " n_steps"],
    *,
    step_size: float,
    ridge: float,
) -> tuple[Table, Float[np.ndarray, " dim"]]:
    """Make steps by equation (4), and renew the table by (6) in each.

    Parameters
    ----------
    table : Table
        What is remembered at the beginning. It is not changed.
    rows : ndarray
        The features of each sample, times its label.
    w : ndarray
        The weights to begin with. They are not changed.
    indices : ndarray
        Which samples to draw, one for each step.
    step_size : float
        The step size.
    ridge : float
        The ridge.

    Returns
    -------
    tuple of Table and ndarray
        What is remembered after the last step, and the weights.

    Examples
    --------
    >>> rows = np.array([[1.0], [2.0]])
    >>> table = snapshot(rows, np.array([0.0]))
    >>> table, w = saga_epoch(table, rows, np.array([0.1]), np.array([1]), step_size=1.0, ridge=0.0)
    >>> table.slopes.round(4), table.mean.round(4), w.round(4)
    (array([-0.5   , -0.4502]), array([-0.7002]), array([0.7503]))
    """
    kept, mean = table.slopes.copy(), table.mean
    for i in indices:
        slope = _slope(rows[i], w)
        change = (slope - kept[i]) * rows[i]
        w = w - step_size * (change + mean + ridge * w)
        mean = mean + change / len(rows)
        kept[i] = slope
    return Table(kept, mean), w


def sag_epoch(
    table: Table,
    rows: Float[np.ndarray, "n_samples dim"],
    w: Float[np.ndarray, " dim"],
    indices: Int[np.ndarray, " n_steps"],
    *,
    step_size: float,
    ridge: float,
) -> tuple[Table, Float[np.ndarray, " dim"]]:
    """Make steps by equation (5), and renew the table by (6) in each.

    Parameters
    ----------
    table : Table
        What is remembered at the beginning. It is not changed.
    rows : ndarray
        The features of each sample, times its label.
    w : ndarray
        The weights to begin with. They are not changed.
    indices : ndarray
        Which samples to draw, one for each step.
    step_size : float
        The step size.
    ridge : float
        The ridge.

    Returns
    -------
    tuple of Table and ndarray
        What is remembered after the last step, and the weights.

    Examples
    --------
    >>> rows = np.array([[1.0], [2.0]])
    >>> table = snapshot(rows, np.array([0.0]))
    >>> table, w = sag_epoch(table, rows, np.array([0.1]), np.array([1]), step_size=1.0, ridge=0.0)
    >>> table.slopes.round(4), table.mean.round(4), w.round(4)
    (array([-0.5   , -0.4502]), array([-0.7002]), array([0.8002]))
    """
    kept, mean = table.slopes.copy(), table.mean
    for i in indices:
        slope = _slope(rows[i], w)
        mean = mean + (slope - kept[i]) / len(rows) * rows[i]
        w = w - step_size * (mean + ridge * w)
        kept[i] = slope
    return Table(kept, mean), w


def minimize(
    rows: Float[np.ndarray, "n_samples dim"],
    start: ArrayLike,
    *,
    method: Literal["svrg", "sag", "saga"],
    ridge: float,
    step_size: float,
    rng: np.random.Generator,
    tol: float = 1e-6,
    max_iter: int = 100,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise logistic regression (1) by epochs of as many steps as there are samples.

    Parameters
    ----------
    rows : ndarray
        The features of each sample, times its label of +1 or -1.
    start : array_like
        Where to begin; not changed. The first table of SAG and SAGA is the snapshot there.
    method : str
        'svrg', 'sag' or 'saga'.
    ridge : float
        The ridge, 0 or more.
    step_size : float
        The step size; 1 over 3 times the `smoothness` is safe for SAGA.
    rng : numpy.random.Generator
        Where the indices come from, each drawn independently of all others.
    tol : float
        Converged when no component of the exact gradient after an epoch exceeds it.
    max_iter : int
        The largest number of epochs.
    record_path : bool
        Whether to keep the points after each epoch.

    Returns
    -------
    OptimizeResult
        With `x` and `fun`, the last point and (1) there; `nit`, the number of epochs; `nfev`, the number of evaluations
        of (1), one for the start and one for each epoch; `success` and `message`, those of gradient descent's
        `stopping`; and `path`, with `nit + 1` rows, if asked for.

    Raises
    ------
    ValueError
        If `rows` is not a finite matrix of at least one row, `start` does not fit it, `method` is none of the three,
        `ridge` is negative or not finite, or gradient descent's `check_arguments` refuses the rest.

    Examples
    --------
    >>> rows, rng = np.array([[1.0, 2.0], [-2.0, 1.0], [0.5, -1.0]]), np.random.default_rng(0)
    >>> result = minimize(rows, [0.0, 0.0], method="saga", ridge=0.5, step_size=0.2, rng=rng)
    >>> result.success, result.x.round(4)
    (True, array([-0.0744,  0.3342]))
    """
    # given: the checks, the objective with its gradient, and when to stop
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    _check(rows, x, method, ridge)
    stop, look = partial(stopping, tol=tol, max_iter=max_iter), partial(_value_and_gradient, rows, ridge=ridge)
    # yours
    settings = {"step_size": step_size, "ridge": ridge}
    table, nit, path = snapshot(rows, x), 0, [x]
    while (message := stop(*look(x), nit)) is None:
        indices = rng.integers(len(rows), size=len(rows))
        if method == "svrg":
            x = svrg_epoch(rows, x, indices, **settings)
        else:
            table, x = (saga_epoch if method == "saga" else sag_epoch)(table, rows, x, indices, **settings)
        nit += 1
        path.append(x)
    return OptimizeResult(
        x, look(x)[0], nit, nit + 1, message == CONVERGED, message, np.array(path) if record_path else None
    )


def _slope(row: Weights, w: Weights) -> float:  # given
    """Return the slope of one sample, equation (2), as fast as can be."""
    return (math.tanh(float(row @ w) / 2) - 1) / 2


def _value_and_gradient(rows: Rows, w: Weights, ridge: float) -> tuple[float, Weights]:  # given
    """Return (1) and its gradient."""
    margins = rows @ w
    value = float(np.logaddexp(0, -margins).mean() + ridge / 2 * w @ w)
    return value, (np.tanh(margins / 2) - 1) / 2 @ rows / len(rows) + ridge * w


def _check(rows: Rows, x: Weights, method: str, ridge: float) -> None:  # given
    """Refuse what cannot be minimised."""
    if rows.ndim != 2 or not len(rows) or not np.isfinite(rows).all():
        raise ValueError(f"rows must be a finite matrix of at least one row, got shape {rows.shape}")
    if x.shape != rows.shape[1:]:
        raise ValueError(f"start must have the shape {rows.shape[1:]}, one number for each column, got {x.shape}")
    if method not in ("svrg", "sag", "saga"):
        raise ValueError(f"method must be 'svrg', 'sag' or 'saga', got {method!r}")
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge must be non-negative and finite, got {ridge}")
