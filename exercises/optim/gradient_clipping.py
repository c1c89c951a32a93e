r"""Gradient clipping: why gradients explode or vanish over depth and time, and three ways to bound a step.

## Idea

A gradient that went back through fifty layers, or fifty time steps, was multiplied by fifty matrices. If each makes
vectors a little longer it *explodes*, if each makes them a little shorter it *vanishes*. The one hardly trains; the
other trains well until a batch comes whose gradient is a thousand times longer than usual: one step on it throws the
weights out of all they had learnt. The cure for that step is crude and works: if a gradient is too long, shorten it.
For the other there is none afterwards: the scale of the weights has to be right from the beginning, which can be
computed.

## Maths

**By value** [1]. Each entry is brought into $[-c, c]$:

$$g_i \leftarrow \max(-c, \min(c, g_i)) . \tag{1}$$

This turns the gradient: of $(3, 0.1)$ with $c = 0.1$ it makes the diagonal.

**By norm** [1]. Take the gradients of all parameters together as one long vector, with the $p$-norm

$$n = \Bigl( \sum_i |g_i|^p \Bigr)^{1/p} , \qquad n = \max_i |g_i| \ \text{ for } p = \infty , \tag{2}$$

and multiply every one of them by the same factor,

$$g \leftarrow \min\left(1, \frac{c}{n + \varepsilon}\right) g , \qquad \varepsilon = 10^{-6} . \tag{3}$$

The direction stays, the length is at most $c$. (With $\varepsilon$, which is PyTorch's, it is always a little less,
and gradients of length $c$ are shortened, too.) Neither rule can be undone: with noisy gradients $g + \xi$, of mean $g$,
the mean of the clipped ones is *not* the clipped mean, nor along $g$. Take $-1$ with probability 0.9 and 14 with 0.1:
the mean is 0.5, and after clipping to 1 it is $-0.8$. Clipping trades a bias for a bound.

**Adaptive** [2]. What is a long gradient depends on the weights that it would change. Compare unit by unit: a *unit* is
the row of a matrix of shape (outputs, inputs), or the filter of a convolution with shape (outputs, inputs, height,
width), that is all entries with one first index; a vector or a number is one unit. With the Euclidean norms
$\|W_i\|$ and $\|G_i\|$ of a unit's weights and gradient,

$$G_i \leftarrow \lambda\, \frac{\max(\|W_i\|, \varepsilon)}{\|G_i\|}\, G_i \quad \text{if } \|G_i\| > \lambda \max(\|W_i\|, \varepsilon) , \tag{4}$$

with $\varepsilon = 10^{-3}$, so that weights of zero can begin to move, and $\lambda = 0.01$ or so: a step of size $a$
then changes a unit by at most the share $a \lambda$.

**Over depth.** Let $h_l = W_l \tanh(h_{l-1})$ with independent weights of variance $s^2 / \text{inputs}$. In a wide layer
the entries of $h_{l-1}$ are nearly normal with some variance $q$, and those of $h_l$ have the variance [3]

$$q \mapsto s^2\, \mathbb{E} \tanh^2(\sqrt q\, z) , \qquad z \sim \mathcal{N}(0, 1) . \tag{5}$$

Repeated, this settles at a fixed point $q^*$: at 0 for $s \le 1$, above it for $s > 1$. On the way back a gradient by
$h_l$ is multiplied by $W_l^\top$, which multiplies its mean square by $s^2$, and then entrywise by
$\tanh'(h_{l-1}) = 1 - \tanh^2$:

$$\chi = s^2\, \mathbb{E} \bigl( 1 - \tanh^2(\sqrt{q^*}\, z) \bigr)^2 . \tag{6}$$

Each layer multiplies the squared norm by $\chi$. At $s = 1$, $\chi = 1$; below it gradients vanish as $s^{2l}$, above it
they explode, much more slowly than $s^{2l}$ because the saturated units pass nothing.

For smooth $f$ the expectation $\mathbb{E} f(z)$ is a sum over evenly spaced points, weighted by the normal density.

**Over time.** A recurrent network $h_t = \tanh(W h_{t-1} + x_t)$ multiplies by the same matrix at each step. Its
Jacobian is $\partial h_t / \partial h_{t-1} = \operatorname{diag}(1 - h_t^2)\, W$, entrywise square, and by the chain
rule

$$\frac{\partial h_T}{\partial h_t} = J_T J_{T-1} \cdots J_{t+1} , \qquad J_t = \operatorname{diag}(1 - h_t^2)\, W . \tag{7}$$

The first factor is at most 1. So if the largest singular value of $W$ is below 1 the product vanishes at least as fast
as its powers [1]; near $h = 0$ it behaves as $W^{T - t}$, which grows or shrinks as powers of the spectral radius.

## Worked example

Two parameters with the gradients $(3, -4)$ and $12$.

- By value, $c = 5$: $(3, -4)$ and $5$.
- By norm, $c = 6.5$: $n = \sqrt{9 + 16 + 144} = 13$, the factor is $0.5$: $(1.5, -2)$ and $6$. With $p = \infty$: $n = 12$,
  the factor 0.542.
- Adaptive, $\lambda = 0.1$, for a matrix with the rows $(6, 8)$ and $(0, 0)$ and a gradient with the rows $(3, 4)$ and
  $(0, 0.0002)$: the first may have the norm $0.1 \cdot 10 = 1$ and has 5, so it becomes $(0.6, 0.8)$. The second may have
  $0.1 \cdot 0.001 = 0.0001$ and has twice that, so it becomes $(0, 0.0001)$.
- Over depth with $s = 1.5$: from $q = 1$, (5) gives 0.887, and in the end $q^* = 0.793$, where $\chi = 1.14$. Ten layers
  lengthen a gradient by $1.14^5 = 1.92$; without the saturation it would be $1.5^{10} = 58$.
- Over time with one unit, $W = 0.9$ and states $0.5$ and $-0.2$: the Jacobians are $0.75 \cdot 0.9 = 0.675$ and
  $0.96 \cdot 0.9 = 0.864$, their product 0.583.

## Plan

Gradients come as a sequence of tensors, one for each parameter, and go as a list of new tensors.

- `clip_by_value` is (1); `global_norm` is (2); `clip_by_norm` is (3), and returns the norm before clipping, too.
- `unit_norms` takes a tensor and returns its units' norms, in a shape that can be multiplied with it. `adaptive_clip`
  is (4) for all parameters.
- `variance_map` is (5) and `growth_factor` is (6), each from a weight scale, with expectations by `normal_mean`, given.
- `jacobian_product` takes the matrix and the states of a recurrent network, and returns (7) for every $t$.

## Pitfalls

- Every layer has the same gradient norm after clipping: each was clipped by itself.
- The update is clipped, or the gradient after the optimiser's moments were computed.
- One NaN in one gradient, and after clipping all are NaN.
- Biases that start at zero never move.
- Training runs, but what it converges to changes with the clipping limit.
- The product of Jacobians is right for diagonal matrices only.

## Cost

One pass to measure and one to multiply: for a network, nothing beside its gradients. (7) costs $O(T n^3)$. On 400,000
weights `clip_by_norm` takes some seven times as long as PyTorch's (4.3 against 0.6 ms): it looks for the largest entry
first, so that no power overflows, and returns new tensors where PyTorch writes into the old.

## Go further

- *Experiment*: record the norms of the gradients of a training without clipping, draw their histogram, and clip at its
  quantiles 0.5, 0.9 and 0.99. Which one changes the loss curve, and which only removes its spikes?
- *Stretch*: replace tanh by the rectifier in (5) and (6). At which $s$ is $\chi = 1$, and what is special about it?

## References

1. Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks,
   https://arxiv.org/abs/1211.5063
2. Brock, De, Smith & Simonyan (2021), High-performance large-scale image recognition without normalization,
   https://arxiv.org/abs/2102.06171
3. Schoenholz, Gilmer, Ganguli & Sohl-Dickstein (2017), Deep information propagation, https://arxiv.org/abs/1611.01232
"""

# 8 parts to write. Test them with: pytest exercises/optim/gradient_clipping.py
# To be written without: torch.nn.utils.clip_grad_norm_, torch.nn.utils.clip_grad_value_, torch.nn.utils.get_total_norm, torch.nn.utils.clip_grads_with_norm_, torch.autograd

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def clip_by_value(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    """Bring each entry of each gradient between `-limit` and `limit`: equation (1).

    Parameters
    ----------
    gradients : sequence of Tensor
        The gradients, of any shapes. They are not changed.
    limit : float
        The largest size $c$ of an entry, positive and finite.

    Returns
    -------
    list of Tensor
        The clipped gradients, new tensors.

    Raises
    ------
    ValueError
        If `limit` is not positive and finite, or `gradients` is empty or holds numbers that are not finite.

    Examples
    --------
    >>> clip_by_value([torch.tensor([3.0, -4.0]), torch.tensor(12.0)], 3.5)
    [tensor([ 3.0000, -3.5000]), tensor(3.5000)]
    """
    # given: the checks
    _check(gradients, limit=limit)
    raise NotImplementedError("not written yet: clip_by_value")


def global_norm(gradients: Sequence[Tensor], p: float = 2.0) -> float:
    """Return the norm of all gradients taken as one vector: equation (2).

    Parameters
    ----------
    gradients : sequence of Tensor
        The gradients, of any shapes, and of any size whose norm can be represented.
    p : float
        The order of the norm, at least 1; `math.inf` for the largest entry.

    Returns
    -------
    float
        The norm.

    Raises
    ------
    ValueError
        If `p` is below 1, or `gradients` is empty or holds numbers that are not finite.

    Examples
    --------
    >>> print(f"{global_norm([torch.tensor([3.0, -4.0]), torch.tensor(12.0)]):.4f}")
    13.0000
    """
    # given: the checks
    _check(gradients)
    if not p >= 1:
        raise ValueError(f"p must be at least 1, got {p}")
    raise NotImplementedError("not written yet: global_norm")


def clip_by_norm(
    gradients: Sequence[Tensor], max_norm: float, *, p: float = 2.0, eps: float = 1e-6
) -> tuple[list[Tensor], float]:
    r"""Shorten all gradients by one factor, so that their norm does not exceed `max_norm`: equation (3).

    Parameters
    ----------
    gradients : sequence of Tensor
        The gradients, of any shapes. They are not changed.
    max_norm : float
        The largest norm $c$, positive and finite.
    p : float
        The order of the norm, at least 1; `math.inf` for the largest entry.
    eps : float
        The guard $\varepsilon$ beside the norm.

    Returns
    -------
    tuple of list and float
        The gradients, as new tensors, and their norm before.

    Raises
    ------
    ValueError
        If `max_norm` or `eps` is not positive and finite, `p` is below 1, or `gradients` is empty or holds numbers that
        are not finite.

    Examples
    --------
    >>> clipped, norm = clip_by_norm([torch.tensor([3.0, -4.0]), torch.tensor(12.0)], 6.5)
    >>> clipped, round(norm, 4)
    ([tensor([ 1.5000, -2.0000]), tensor(6.0000)], 13.0)
    """
    # given: the checks
    _check(gradients, max_norm=max_norm, eps=eps)
    raise NotImplementedError("not written yet: clip_by_norm")


def unit_norms(tensor: Float[Tensor, "*shape"]) -> Float[Tensor, "*units"]:
    """Return the Euclidean norm of each unit, see above equation (4).

    Parameters
    ----------
    tensor : Tensor
        The weights of a parameter, or its gradient. From two axes on, all entries with one first index are a unit; a
        vector or a number is one unit as a whole.

    Returns
    -------
    Tensor
        With as many axes as `tensor`, all of length 1 but for the first from two axes on: (outputs, 1) for a matrix,
        (outputs, 1, 1, 1) for the filters of a convolution, (1,) for a vector.

    Examples
    --------
    >>> unit_norms(torch.tensor([[3.0, 4.0], [5.0, 12.0]]))
    tensor([[ 5.],
            [13.]])
    >>> unit_norms(torch.tensor([3.0, 4.0]))
    tensor([5.])
    """
    raise NotImplementedError("not written yet: unit_norms")


def adaptive_clip(
    parameters: Sequence[Tensor], gradients: Sequence[Tensor], *, clipping: float = 0.01, eps: float = 1e-3
) -> list[Tensor]:
    r"""Shorten each unit's gradient to a share of its weights: equation (4).

    Parameters
    ----------
    parameters : sequence of Tensor
        The weights, of any shapes. They are not changed.
    gradients : sequence of Tensor
        Their gradients, of the same shapes. They are not changed.
    clipping : float
        The share $\lambda$, positive and finite.
    eps : float
        The least norm $\varepsilon$ that a unit's weights count with, positive and finite.

    Returns
    -------
    list of Tensor
        The gradients, new tensors, that record no operations for autograd.

    Raises
    ------
    ValueError
        If `clipping` or `eps` is not positive and finite, `gradients` is empty, holds numbers that are not finite or
        does not have the shapes of `parameters`.

    Examples
    --------
    >>> weights, gradient = torch.tensor([[6.0, 8.0], [0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 0.5]])
    >>> adaptive_clip([weights], [gradient], clipping=0.1, eps=2.0)
    [tensor([[0.6000, 0.8000],
            [0.0000, 0.2000]])]
    """
    # given: the checks
    _check(gradients, clipping=clipping, eps=eps)
    shapes = [[tuple(tensor.shape) for tensor in tensors] for tensors in (parameters, gradients)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"gradients must have the shapes {shapes[0]} of the parameters, got {shapes[1]}")
    raise NotImplementedError("not written yet: adaptive_clip")


def normal_mean(  # given: by the trapezoidal rule
    function: Callable[[Float[np.ndarray, " n_points"]], Float[np.ndarray, " n_points"]],
) -> float:
    """Return the mean of a function of a standard normal variable, to ten digits if it varies over 0.1 or more.

    Parameters
    ----------
    function : callable
        Takes an array and works entry by entry.

    Returns
    -------
    float
        The mean.

    Examples
    --------
    >>> print(f"{normal_mean(lambda z: z**4):.4f}")
    3.0000
    """
    z = np.linspace(-10, 10, 801)
    density = np.exp(-(z**2) / 2)
    return float(density @ function(z) / density.sum())


def variance_map(variance: float, weight_scale: float) -> float:
    r"""Return the variance in the next layer of a wide network with the hyperbolic tangent: equation (5).

    Parameters
    ----------
    variance : float
        The variance $q$ of a layer's sums, 0 or more.
    weight_scale : float
        The scale $s$: the weights have the variance $s^2$ / inputs. Positive.

    Returns
    -------
    float
        The variance of the next layer's sums.

    Raises
    ------
    ValueError
        If `variance` is negative or `weight_scale` not positive, or one is not finite.

    Examples
    --------
    >>> print(f"{variance_map(1.0, 1.5):.4f}")
    0.8872
    """
    # given: the checks
    if not 0 <= variance < math.inf:
        raise ValueError(f"variance must be non-negative and finite, got {variance}")
    _check_positive(weight_scale=weight_scale)
    raise NotImplementedError("not written yet: variance_map")


def growth_factor(weight_scale: float, *, n_layers: int = 300) -> float:
    r"""Return by how much a layer multiplies a gradient's squared norm, deep in a wide network: equation (6).

    Parameters
    ----------
    weight_scale : float
        The scale $s$ of the weights, positive.
    n_layers : int
        How often (5) is repeated to find its fixed point, from a variance of 1. At least 1. Near $s = 1$
        it takes long to settle.

    Returns
    -------
    float
        The factor $\chi$: below 1 gradients vanish, above 1 they explode.

    Raises
    ------
    ValueError
        If `weight_scale` is not positive and finite, or `n_layers` is below 1.

    Examples
    --------
    >>> print(f"{growth_factor(0.8):.4f} {growth_factor(1.5):.4f} {growth_factor(3.0):.4f}")
    0.6400 1.1393 1.8599
    """
    # given: the checks
    _check_positive(weight_scale=weight_scale, n_layers=n_layers)
    raise NotImplementedError("not written yet: growth_factor")


def jacobian_product(
    weights: Float[Tensor, "units units"], states: Float[Tensor, "time units"]
) -> Float[Tensor, "time units units"]:
    r"""Return the Jacobians of a recurrent network's last state by each of its states: equation (7).

    Parameters
    ----------
    weights : Tensor
        The recurrent matrix $W$: row $i$ holds the weights into unit $i$.
    states : Tensor
        The states $h_1, \dots, h_T$, one a row, each the hyperbolic tangent of its sums.

    Returns
    -------
    Tensor
        $\partial h_T / \partial h_t$ for $t = 1, \dots, T$; the last is the identity.

    Raises
    ------
    ValueError
        If `weights` is not a square matrix, or `states` has no row or other units.

    Examples
    --------
    >>> jacobian_product(torch.tensor([[0.9]]), torch.tensor([[0.3], [0.5], [-0.2]])).flatten()
    tensor([0.5832, 0.8640, 1.0000])
    """
    # given: the checks
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(f"weights must be a square matrix, got shape {tuple(weights.shape)}")
    if states.ndim != 2 or not len(states) or states.shape[1] != len(weights):
        raise ValueError(f"states must have shape (time, {len(weights)}), got {tuple(states.shape)}")
    raise NotImplementedError("not written yet: jacobian_product")


def _check_positive(**values: float) -> None:  # given: argument checks
    """Refuse what is not a positive number."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")


def _check(gradients: Sequence[Tensor], **values: float) -> None:  # given: argument checks
    """Refuse gradients that are none, or not finite, and settings that are not positive."""
    _check_positive(**values)
    if not len(gradients):
        raise ValueError("gradients must hold at least one tensor, got none")
    for i, gradient in enumerate(gradients):
        if not torch.isfinite(gradient).all():
            raise ValueError(
                f"gradients must be finite, got {gradient[~torch.isfinite(gradient)][0].item()} in number {i}"
            )
