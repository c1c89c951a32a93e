r"""Steps layer by layer: LARS and LAMB measure a step by the size of the weights, AdamP keeps it from growing them.

## Idea

A step of 0.01 is a jump for a layer whose weights are of size 0.001, and nothing for one of size 100. With large
batches the step size has to be large, and the first layer for which it is too much ends the training. *LARS* and *LAMB*
give each layer a step in proportion to the length of its weights. A layer that a normalisation follows has another
trouble: its length does not matter at all, only its direction does, and yet momentum makes it longer and longer, so
that the same step turns it less and less. *AdamP* takes that part out of the step.

## Maths

A *layer* is one array $x$ of weights; $\|\cdot\|$ is the root of the sum of all its squares. A rule turns its state,
its gradient $g$ and $x$ into an update $u$ that is added. The step size is $a$, the decay of the weights $\lambda$.

**The trust ratio** [1] compares the layer with the move $d$ that it is to make:

$$\tau = \eta\, \frac{\|x\|}{\|d\| + \lambda \|x\|} , \qquad \tau = 1 \text{ if } \|x\| = 0 \text{ or } \|d\| = 0 . \tag{1}$$

Without the exception a layer that starts at zero would stay there, and one without gradients would divide zero by zero.

**LARS** [1] is momentum whose steps are scaled before they are gathered, with $d = g_t$ and a trust $\eta$ of 0.001 or
so:

$$v_t = \beta v_{t-1} + a\, \tau\, (g_t + \lambda x_{t-1}) , \qquad u_t = -v_t . \tag{2}$$

The denominator of (1) is at least $\|g_t + \lambda x_{t-1}\|$, by the triangle inequality: a single step is never
longer than $a \eta \|x\|$. Multiply the loss by 1000, and with $\lambda = 0$ nothing changes.

**LAMB** [2] does the same to Adam's move, whose decay is decoupled and part of the move:

$$d_t = \frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon} + \lambda x_{t-1} , \qquad u_t = -a\, \tau\, d_t , \tag{3}$$

with $\eta = 1$, and 0 for the $\lambda$ of (1), since $d_t$ holds the decay already. So every layer moves by the share
$a$ of its length, $\|u_t\| = a \|x_{t-1}\|$. (The paper allows a function of $\|x\|$ above, which keeps it within
bounds; here it is $\|x\|$ itself.)

**Exempt layers.** Biases, and the scales of a normalisation, start at 0 or 1 and are few: they take the plain rule.

**Weights whose length does not matter.** If $f(c x) = f(x)$ for all $c > 0$, as before a batch or layer normalisation,
differentiate by $c$ at 1, and by $x$:

$$x^\top \nabla f(x) = 0 , \qquad \nabla f(c x) = \nabla f(x) / c . \tag{4}$$

Only the direction $x / \|x\|$ counts, and a step is worth how far it moves that, the *effective* step:

$$e(x, u) = \left\| \frac{x + u}{\|x + u\|} - \frac{x}{\|x\|} \right\| . \tag{5}$$

For an update at right angles to $x$ it is about $\|u\| / \|x\|$. Gradient descent moves at right angles, so that
$\|x\|^2$ grows by $a^2 \|g\|^2$ at each step, slowly. Momentum does not: the steps of the past were at right angles to
other points. With $u_t = -a p_t$ and $p_t = \beta p_{t-1} + g_t$, where $g_t$ is at right angles to $x_{t-1}$,

$$x_{t-1}^\top p_t = \beta\, x_{t-1}^\top p_{t-1} = \beta \left(x_{t-2}^\top p_{t-1} - a \|p_{t-1}\|^2 \right) .$$

If all $\|p_t\|$ are $P$, this settles at $-a P^2 \beta / (1 - \beta)$, and

$$\|x_t\|^2 - \|x_{t-1}\|^2 = a^2 P^2 - 2a\, x_{t-1}^\top p_t \to a^2 P^2\, \frac{1 + \beta}{1 - \beta} : \tag{6}$$

19 times the growth that steps of this length need, for $\beta = 0.9$. The effective step shrinks with it, and no
schedule asked for that.

**AdamP** [3] leaves the part of a move $d$ out that is along $x$:

$$\Pi_x d = d - \frac{x^\top d}{\|x\|^2}\, x . \tag{7}$$

It does so only to layers whose length seems not to matter, which (4) betrays: in $n$ dimensions the cosine between $x$
and a random vector is of size $1/\sqrt n$, and between $x$ and the gradient of such a layer zero. The test is

$$\frac{|x^\top g|}{\|x\|\, \|g\|} < \frac{\delta}{\sqrt n} , \tag{8}$$

with $\delta = 0.1$. Then, with Adam's $d_t = \hat m_t / (\sqrt{\hat v_t} + \varepsilon)$,

$$u_t = -a \left(\Pi_x d_t + \kappa \lambda x_{t-1} \right) \text{ if (8) holds, and else } -a \left(d_t + \lambda x_{t-1}\right) , \tag{9}$$

with a share $\kappa = 0.1$ of the decay, since there is less growth to be held down. (The authors' code tries (8) on
the rows of a layer before the whole of it; here a layer is what you say it is. It also looks ahead as Nesterov does, if
asked.)

## Worked example

A layer $x = (3, 4)$ of length 5.

- *LARS*, $g = (0.6, -0.8)$, $\lambda = 0.05$, $\eta = 0.01$, $a = 1$: $\tau = 0.01 \cdot 5 / (1 + 0.25) = 0.04$, and
  the first update is $-0.04\, (0.75, -0.6) = (-0.03, 0.024)$.
- *LAMB*, the same gradient, $a = 0.1$, $\lambda = 0$: Adam's first move is $(1, -1)$, of length 1.414; $\tau = 3.536$,
  and the update $(-0.354, 0.354)$ is of length 0.5, a tenth of the layer's.
- *AdamP*, $g = (0.8, -0.6)$: at right angles to $x$, so (8) holds. But Adam's move is $(1, -1)$ once more, and
  $x^\top d = -1$. (7) makes it $(1, -1) + 0.04\, (3, 4) = (1.12, -0.84)$. With $a = 0.1$ the length grows from 5 to
  $\sqrt{25 + 0.0196} = 5.002$, and the effective step is 0.028; Adam's own is 0.028, too, but its point is at
  $\sqrt{25.22} = 5.022$: eleven times the growth.

## Plan

- `trust_ratio` returns (1). `lars` and `lamb` take a state, a gradient and the weights of one layer, and return the
  next state and the update, by (2) and (3).
- `layerwise` takes a rule for a layer, the names of the exempt and the rule for these, and returns a rule for
  dictionaries of states, gradients and weights.
- `effective_step` is (5), `tangential` (7), `seems_scale_invariant` (8); `adamp` is the rule (9).

## Pitfalls

- A layer of zeros never moves, or all of them become NaN.
- One long layer decides the step of all the others.
- The biases explode.
- The training stalls although gradients and step size are as before: the lengths have grown.
- Weight decay has no effect beyond a factor.
- AdamP agrees with AdamW in all layers, or projects the last one, whose length does matter.

## Cost

As momentum or Adam, and one pass over the array for each norm or inner product: two for LARS and LAMB, three for the
test (8), two for the projection. On networks of many small layers the calls cost more than the arithmetic.

## Go further

- *Experiment*: train with `adamw` and `adamp` on $f(x) = x^\top A x / \|x\|^2$, draw $\|x\|$ and the effective step,
  and then let weight decay hold the length. Where do both settle?
- *Stretch*: weight decay against the growth of (6) ends in a balance, in which $\|x\|$ and the effective step no longer
  depend on where they began. Derive it for gradient descent, and check it.

## References

1. You, Gitman & Ginsburg (2017), Large batch training of convolutional networks, https://arxiv.org/abs/1708.03888
2. You et al. (2020), Large batch optimization for deep learning: training BERT in 76 minutes,
   https://arxiv.org/abs/1904.00962
3. Heo et al. (2021), AdamP: slowing down the slowdown for momentum optimizers on scale-invariant weights,
   https://arxiv.org/abs/2006.08217
"""

# 8 parts to write. Test them with: pytest exercises/optim/adam_variants/layerwise.py
# To be written without: torch, scipy.optimize

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.optim.adaptive import AdamState, adam

Array = Float[np.ndarray, "*shape"]
Rule = Callable[[Any, Array, Array], tuple[Any, Array]]
Layers = Mapping[str, Any]


@dataclass(frozen=True)
class VelocityState:
    """The gathered steps, $v_t$ of (2)."""

    velocity: Float[np.ndarray, "*shape"]


def trust_ratio(
    x: Float[np.ndarray, "*shape"],
    move: Float[np.ndarray, "*shape"],
    *,
    weight_decay: float = 0.0,
    trust: float = 1.0,
) -> float:
    r"""Return by how much a layer's move is to be multiplied, equation (1).

    Parameters
    ----------
    x : ndarray
        The weights of the layer, of any shape.
    move : ndarray
        The move $d$, of the same shape.
    weight_decay : float
        The decay $\lambda$ that is not part of the move.
    trust : float
        The factor $\eta$.

    Returns
    -------
    float
        The ratio $\tau$; 1 if the weights or the move are all zero, whatever the trust.

    Examples
    --------
    >>> x, gradient = np.array([3.0, 4.0]), np.array([0.6, -0.8])
    >>> print(f"{trust_ratio(x, gradient):.4f} {trust_ratio(x, gradient, weight_decay=0.05, trust=0.01):.4f}")
    5.0000 0.0400
    """
    raise NotImplementedError("not written yet: trust_ratio")


def lars(
    state: VelocityState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1.0,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    trust: float = 1e-3,
) -> tuple[VelocityState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of LARS in one layer, by equation (2).

    Parameters
    ----------
    state : VelocityState
        The state after the step before, of zeros at first. It is not changed.
    gradient : ndarray
        The gradient, of the layer's shape, which has at least one axis.
    x : ndarray
        The weights before the step. They are not changed.
    step_size : float
        The step size $a$.
    momentum : float
        The share $\beta$ of the gathered steps that is kept, at least 0 and below 1.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more.
    trust : float
        The factor $\eta$ of the ratio.

    Returns
    -------
    tuple of VelocityState and ndarray
        The next state, and the update to be added to the weights.

    Raises
    ------
    ValueError
        If `step_size` or `trust` is not positive and finite, `weight_decay` negative or not finite, `momentum` not in
        [0, 1), or `gradient` or `x` does not fit the state.

    Examples
    --------
    >>> x, gradient = np.array([3.0, 4.0]), np.array([0.6, -0.8])
    >>> lars(VelocityState(np.zeros(2)), gradient, x, weight_decay=0.05, trust=0.01)[1].round(4)
    array([-0.03 ,  0.024])
    """
    # given: the checks
    _check(state.velocity, gradient, x, weight_decay, (momentum,), step_size=step_size, trust=trust)
    raise NotImplementedError("not written yet: lars")


def lamb(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of LAMB in one layer, by equation (3).

    Parameters
    ----------
    state : AdamState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the layer's shape, which has at least one axis.
    x : ndarray
        The weights before the step. They are not changed.
    step_size : float
        The step size $a$.
    decays : tuple of float
        Adam's decays $\beta_1$ and $\beta_2$, each at least 0 and below 1.
    eps : float
        Adam's guard.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, and the update to be added to the weights.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, `weight_decay` negative or not finite, a decay not in
        [0, 1), or `gradient` or `x` does not fit the state.

    Examples
    --------
    >>> state, x = AdamState(0, np.zeros(2), np.zeros(2)), np.array([3.0, 4.0])
    >>> lamb(state, np.array([0.6, -0.8]), x, step_size=0.1)[1].round(4)
    array([-0.3536,  0.3536])
    """
    # given: the checks
    _check(state.first, gradient, x, weight_decay, decays, step_size=step_size, eps=eps)
    raise NotImplementedError("not written yet: lamb")


def layerwise(rule: Rule, *, exempt: Collection[str], plain: Rule) -> Callable[..., tuple[Layers, Layers]]:
    """Return a rule for many layers, each of which takes a rule by itself.

    Parameters
    ----------
    rule : callable
        Takes the state, the gradient and the weights of a layer, and returns the next state and the update.
    exempt : collection of str
        The names of the layers that take the plain rule.
    plain : callable
        The rule for these. Its states need not be of the kind that `rule` has.

    Returns
    -------
    callable
        Takes the states, the gradients and the weights of all layers, each a dictionary by the layers' names, and
        returns the next states and the updates, as dictionaries. It does not change what it is given.

    Examples
    --------
    >>> def descent(state, gradient, x):
    ...     return state, -0.1 * gradient
    >>> rule = layerwise(lars, exempt={"bias"}, plain=descent)
    >>> x = {"weight": np.array([3.0, 4.0]), "bias": np.zeros(1)}
    >>> gradients = {"weight": np.array([0.6, -0.8]), "bias": np.array([2.0])}
    >>> states, updates = rule({"weight": VelocityState(np.zeros(2)), "bias": None}, gradients, x)
    >>> updates["weight"].round(4), updates["bias"]
    (array([-0.003,  0.004]), array([-0.2]))
    """
    raise NotImplementedError("not written yet: layerwise")


def effective_step(x: Float[np.ndarray, "*shape"], update: Float[np.ndarray, "*shape"]) -> float:
    """Return how far an update moves the direction of a layer, equation (5).

    Parameters
    ----------
    x : ndarray
        The weights before the step.
    update : ndarray
        What is added to them.

    Returns
    -------
    float
        The distance of the directions before and after, from 0 to 2.

    Raises
    ------
    ValueError
        If the weights are all zero before the step or after it, so that there is no direction.

    Examples
    --------
    >>> print(f"{effective_step(np.array([3.0, 4.0]), np.array([-0.112, 0.084])):.4f}")
    0.0280
    """
    # given: the check
    if not _norm(x) > 0 or not _norm(x + update) > 0:
        raise ValueError(
            f"x must not be zero, before and after the update; its lengths are {_norm(x)}, {_norm(x + update)}"
        )
    raise NotImplementedError("not written yet: effective_step")


def tangential(x: Float[np.ndarray, "*shape"], move: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return a move without its part along the weights, equation (7).

    Parameters
    ----------
    x : ndarray
        The weights of the layer, of any shape. They are not changed.
    move : ndarray
        The move, of the same shape. It is not changed.

    Returns
    -------
    ndarray
        The part of the move at right angles to the weights; all of it if the weights are zero.

    Examples
    --------
    >>> tangential(np.array([3.0, 4.0]), np.array([1.0, -1.0]))
    array([ 1.12, -0.84])
    """
    raise NotImplementedError("not written yet: tangential")


def seems_scale_invariant(
    gradient: Float[np.ndarray, "*shape"], x: Float[np.ndarray, "*shape"], *, threshold: float = 0.1
) -> bool:
    r"""Return whether the gradient is so nearly at right angles to the weights as (8) asks for.

    Parameters
    ----------
    gradient : ndarray
        The gradient.
    x : ndarray
        The weights of the layer.
    threshold : float
        The number $\delta$.

    Returns
    -------
    bool
        Whether (8) holds. Zero weights or a zero gradient are at right angles to anything.

    Examples
    --------
    >>> x = np.array([3.0, 4.0])
    >>> seems_scale_invariant(np.array([0.8, -0.6]), x), seems_scale_invariant(np.array([0.8, -0.4]), x)
    (True, False)
    """
    raise NotImplementedError("not written yet: seems_scale_invariant")


def adamp(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    x: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-3,
    decays: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    threshold: float = 0.1,
    decay_share: float = 0.1,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of AdamP in one layer, by equation (9).

    Parameters
    ----------
    state : AdamState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the layer's shape, which has at least one axis.
    x : ndarray
        The weights before the step. They are not changed.
    step_size : float
        The step size $a$.
    decays : tuple of float
        Adam's decays $\beta_1$ and $\beta_2$, each at least 0 and below 1.
    eps : float
        Adam's guard.
    weight_decay : float
        The decay $\lambda$ of the weights, 0 or more.
    threshold : float
        The number $\delta$ of (8).
    decay_share : float
        The share $\kappa$ of the decay that is left where (8) holds.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, and the update to be added to the weights.

    Raises
    ------
    ValueError
        If `step_size`, `eps` or `threshold` is not positive and finite, `weight_decay` negative or not finite, a decay
        not in [0, 1), or `gradient` or `x` does not fit the state.

    Examples
    --------
    >>> state, x = AdamState(0, np.zeros(2), np.zeros(2)), np.array([3.0, 4.0])
    >>> for gradient in (np.array([0.8, -0.6]), np.array([0.8, -0.4])):
    ...     print(adamp(state, gradient, x, step_size=0.1)[1].round(4))
    [-0.112  0.084]
    [-0.1  0.1]
    """
    # given: the checks
    _check(state.first, gradient, x, weight_decay, decays, step_size=step_size, eps=eps, threshold=threshold)
    raise NotImplementedError("not written yet: adamp")


def _norm(array: Array) -> float:  # given
    """Return the root of the sum of all squares, where these would over- or underflow, too."""
    largest = float(abs(array).max(initial=0))
    return largest * float(np.linalg.norm(array / largest)) if largest else 0.0


def _check(  # given
    like: Array, gradient: Array, x: Array, weight_decay: float, shares: tuple[float, ...], **positive: float
) -> None:
    """Refuse settings that no rule can work with, and arrays that would broadcast."""
    for name, array in (("gradient", gradient), ("x", x)):
        if array.shape != like.shape:
            raise ValueError(f"{name} must have the state's shape {like.shape}, got {array.shape}")
    for name, value in positive.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")
    if not 0 <= weight_decay < np.inf:
        raise ValueError(f"weight_decay must be non-negative and finite, got {weight_decay}")
    for share in shares:
        if not 0 <= share < 1:
            raise ValueError(f"a decay, or momentum, must be at least 0 and below 1, got {share}")
