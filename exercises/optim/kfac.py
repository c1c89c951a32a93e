r"""K-FAC: the curvature of each layer as a Kronecker product of two small matrices.

## Idea

The Fisher information of a layer with 1,000 inputs and 1,000 outputs has $10^{12}$ entries. But the gradient of such a
layer is an outer product: what came in, times what the loss says about what went out. Pretend that the two are
independent, and the information is a Kronecker product of a matrix of inputs and a matrix of outputs, which nobody ever
has to multiply out: dividing by it means dividing a gradient from the left by the one and from the right by the other.
That costs little more than the gradient, and sees most of the curvature.

## Maths

**The gradient of a layer.** A linear layer takes $a$, appends a 1 for the bias, $\bar a = (a, 1)$, and returns the
*pre-activations* $h = \bar W \bar a$ with $\bar W = (W\ b)$. Let $g = \partial \ell / \partial h$ for the loss $\ell$
of one sample. Then

$$\frac{\partial \ell}{\partial \bar W} = g\, \bar a^\top . \tag{1}$$

Write matrices as vectors row by row, as torch's `flatten` does. Then
$\operatorname{vec}(g \bar a^\top) = g \otimes \bar a$, and the layer's block of the Fisher information is

$$F = \mathbb{E}\bigl[(g \otimes \bar a)(g \otimes \bar a)^\top\bigr]
= \mathbb{E}\bigl[g g^\top \otimes \bar a \bar a^\top\bigr]
\approx G \otimes A, \qquad A = \frac1n \sum_i \bar a_i \bar a_i^\top, \quad
G = \frac1n \sum_i g_i g_i^\top . \tag{2}$$

The mean of a product is taken for the product of means: K-FAC's one approximation [1] beside that layers do not
interact. It is exact for one sample, and wherever $g g^\top$ does not vary with $\bar a$. The labels in $g$ are *drawn
from the model*, as the Fisher information wants it. Those of the data would give the empirical Fisher, another matrix
(`optim/natural_gradient` tells them apart).

**Dividing by a Kronecker product.** For symmetric factors

$$(G \otimes A) \operatorname{vec} V = \operatorname{vec}(G V A), \qquad
(G \otimes A)^{-1} \operatorname{vec} V = \operatorname{vec}(G^{-1} V A^{-1}) . \tag{3}$$

**Damping.** $(G \otimes A + \lambda I)^{-1}$ is no Kronecker product. This is one:

$$\Bigl(G + \frac{\sqrt\lambda}{\pi} I\Bigr) \otimes \bigl(A + \pi \sqrt\lambda I\bigr)
= G \otimes A + \lambda I + \pi \sqrt\lambda\, G \otimes I + \frac{\sqrt\lambda}{\pi}\, I \otimes A . \tag{4}$$

The last two terms are too much. The sum of their traces is least where both are equal, with $d_A$ and $d_G$ the orders,

$$\pi^2 = \frac{\operatorname{tr}(A) / d_A}{\operatorname{tr}(G) / d_G} : \tag{5}$$

each factor is damped in proportion to its size. The step for a gradient $V$ is minus

$$D = \Bigl(G + \frac{\sqrt\lambda}{\pi} I\Bigr)^{-1} V\, \bigl(A + \pi \sqrt\lambda I\bigr)^{-1} . \tag{6}$$

**Averages.** One batch says little about the matrices, which change slowly. So average them over the steps $k = 1, 2,
\dots$ with

$$\bar A_k = \varepsilon_k \bar A_{k-1} + (1 - \varepsilon_k) A_k , \qquad
\varepsilon_k = \min\bigl(1 - 1/k,\ \varepsilon\bigr) , \tag{7}$$

and $G$ likewise: first the plain mean of all, later one that forgets. With it no correction of a bias is needed.

**How far.** A step $\Delta = -c\,\alpha D$ with the step size $\alpha$ has the squared length $\Delta^\top F \Delta
\approx c^2 \alpha^2 \sum_l \langle D_l, V_l \rangle$ over all layers, twice the divergence by which the model changes.
Bound it by $\kappa$:

$$c = \min\Bigl(1,\ \sqrt{\kappa} \Big/ \alpha \sqrt{\textstyle\sum_l \langle D_l, V_l \rangle}\Bigr) . \tag{8}$$

**Without drawing labels: KFRA** [2]. For cross entropy the Fisher information is the generalised Gauss-Newton matrix,
whose part for the pre-activations is known at the last layer, $H = \operatorname{diag}(p) - p p^\top$ with $p$ the
softmax of the logits, and follows from layer to layer: if the outputs of layer $l$ pass through $f$ and then through
the weights $W$ (no bias) of the next one, the chain rule says for one sample

$$H_l = \operatorname{diag}(f')\, W^\top H_{l+1} W \operatorname{diag}(f') . \tag{9}$$

Average over samples, and once more take the mean of a product for the product of means:

$$G_l = \bigl(W^\top G_{l+1} W\bigr) \circ \Bigl(\frac1n \sum_i f'_i f_i'^\top\Bigr), \qquad
G_{\text{last}} = \frac1n \sum_i \bigl(\operatorname{diag}(p_i) - p_i p_i^\top\bigr) , \tag{10}$$

with $\circ$ entry by entry. No labels, no backward pass, no noise. For one sample, or where $f'$ is the same for all,
it is as exact as (9).

## Worked example

- *Factors*: inputs $2$ and $-1$ make $\bar a = (2, 1)$ and $(-1, 1)$, so $A = \begin{pmatrix} 2.5 & 0.5 \\ 0.5 & 1
  \end{pmatrix}$. Output gradients $(0.6, -0.6)$ and $(-0.2, 0.2)$ make $G = 0.2 \begin{pmatrix} 1 & -1 \\ -1 & 1
  \end{pmatrix}$.
- *Damping* $\lambda = 0.04$: $\pi^2 = 1.75 / 0.2$, $\pi = 2.958$; $0.5916$ is added to the diagonal of $A$ and $0.0676$
  to that of $G$.
- *Step* for $V = \begin{pmatrix} 1 & 0 \\ -1 & 0 \end{pmatrix}$: its columns are eigenvectors of the damped $G$ for
  $0.4676$. The row $(1, 0)$ divided by the damped $A$ is $(0.3408, -0.1071)$. So the first row of $D$ is $(0.7287,
  -0.2289)$, and the second its opposite: the bias moves too, though its gradient is zero.
- *KFRA*: $G_{l+1} = 0.24$, $W = (2, -1)$, slopes $(0.5, 1)$ and $(1, 0.2)$. The first matrix in (10) is
  $0.24 \begin{pmatrix} 4 & -2 \\ -2 & 1 \end{pmatrix}$, the second $\begin{pmatrix} 0.625 & 0.35 \\ 0.35 & 0.52
  \end{pmatrix}$, and $G_l = \begin{pmatrix} 0.6 & -0.168 \\ -0.168 & 0.1248 \end{pmatrix}$.

## Plan

- `input_factor` takes the inputs of a layer and returns $A$ of (2).
- `output_factor` takes the gradients of each sample's loss by the pre-activations and returns $G$ of (2).
- `damp` takes both factors and a damping and returns the factors in (4), by (5).
- `precondition` takes factors, a gradient and a damping and returns (6).
- `sampled_factors` takes a network and a batch, draws labels from it, and returns (2) for each layer.
- `pass_back` takes the matrix of the next layer, its weights and slopes, and returns the first of (10).
- `recursive_factors` takes a network and a batch and returns $A$ and, by (10), $G$ for each layer.
- `kfac` is a rule as in `optim/adaptive`: from a state, gradients and fresh factors to the next state and updates, by
  (7), (6) and (8).

Given are `trace`, which runs a network and keeps what the factors need, and `train`, which trains with `kfac`.

## Pitfalls

- The steps are $n^2$ times too long: the gradient of a *mean* loss is divided by $n$ once, its square twice.
- The bias of a layer never learns anything from the curvature.
- It works until the network fits, and then diverges.
- Damping that is right for one layer is far too much for the next.
- The first steps are thousands of times too long, or the matrices remember the start for ever.
- It agrees with the exact matrix for square layers only.

## Cost

For a layer with $d_A$ inputs, $d_G$ outputs and $n$ samples: $O(n d_A^2 + n d_G^2)$ for the factors and
$O(d_A^3 + d_G^3)$ to factorise them, beside $O(n d_A d_G)$ for the gradient; $O(d_A^2 + d_G^2)$ numbers to keep. One
refreshes factors and factorisations only every ten or hundred steps in practice; we do at every step. The paper also
adapts $\lambda$ (as Hessian-free optimisation does), rescales by the exact curvature along the step, and has momentum; we
do not.

On 300 of scikit-learn's digits and a network of 64, 20 and 10 units, the defaults bring the cross entropy from 2.4 to
0.012 in ten steps. Gradient descent with the best of four step sizes needs 300, of which each takes a third to a
quarter of the time.

## Go further

- *Experiment*: train with the labels of the data in `sampled_factors`, and compare the losses after the fit is nearly
  perfect.
- *Stretch*: a convolution is a linear layer applied to patches. Which sums over places belong into $A$ and $G$? See
  [3].

## References

1. Martens & Grosse (2015), Optimizing neural networks with Kronecker-factored approximate curvature,
   https://arxiv.org/abs/1503.05671
2. Botev, Ritter & Barber (2017), Practical Gauss-Newton optimisation for deep learning,
   https://arxiv.org/abs/1706.03662
3. Grosse & Martens (2016), A Kronecker-factored approximate Fisher matrix for convolution layers,
   https://arxiv.org/abs/1602.01407
4. Ba, Grosse & Martens (2017), Distributed second-order optimization using Kronecker-factored approximations,
   https://openreview.net/forum?id=SkkTMpjex
"""

# 8 parts to write. Test them with: pytest exercises/optim/kfac.py
# To be written without: torch.kron, torch.linalg.inv, torch.inverse, torch.linalg.pinv, torch.func, torch.autograd.functional, torch.optim

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True)
class Factors:
    """The two factors of a layer's curvature, $A$ and $G$ in (2)."""

    inputs: Float[Tensor, "d_in d_in"]
    outputs: Float[Tensor, "d_out d_out"]


@dataclass(frozen=True)
class KFACState:
    """The number of steps made, and the averages (7) of each layer's factors."""

    count: int
    averages: list[Factors]


@dataclass(frozen=True)
class Trace:
    """What a network computed on a batch.

    Attributes
    ----------
    inputs : list of Tensor
        The inputs of each linear layer, without the 1; no gradient flows to them.
    outputs : list of Tensor
        The pre-activations of each linear layer, part of the graph. The last are the logits.
    """

    inputs: list[Float[Tensor, "batch d_in"]]
    outputs: list[Float[Tensor, "batch d_out"]]


def input_factor(inputs: Float[Tensor, "batch d_in"]) -> Float[Tensor, "d_in+1 d_in+1"]:
    """Return the second moments of a layer's inputs, with a 1 appended to each: $A$ of equation (2).

    Parameters
    ----------
    inputs : Tensor
        The inputs $a$, one sample a row.

    Returns
    -------
    Tensor
        The matrix, whose last row holds the means of the inputs and a 1.

    Raises
    ------
    ValueError
        If `inputs` is not a matrix of finite numbers.

    Examples
    --------
    >>> input_factor(torch.tensor([[2.0], [-1.0]]))
    tensor([[2.5000, 0.5000],
            [0.5000, 1.0000]])
    """
    # given: the checks
    _check_batch(inputs, "inputs")
    raise NotImplementedError("not written yet: input_factor")


def output_factor(gradients: Float[Tensor, "batch d_out"]) -> Float[Tensor, "d_out d_out"]:
    """Return the second moments of the gradients by a layer's pre-activations: $G$ of equation (2).

    Parameters
    ----------
    gradients : Tensor
        The gradient $g$ of each sample's own loss, one a row; not of the mean loss.

    Returns
    -------
    Tensor
        The matrix. Nothing is subtracted.

    Raises
    ------
    ValueError
        If `gradients` is not a matrix of finite numbers.

    Examples
    --------
    >>> output_factor(torch.tensor([[0.6, -0.6], [-0.2, 0.2]]))
    tensor([[ 0.2000, -0.2000],
            [-0.2000,  0.2000]])
    """
    # given: the checks
    _check_batch(gradients, "gradients")
    raise NotImplementedError("not written yet: output_factor")


def damp(factors: Factors, damping: float) -> Factors:
    r"""Return the damped factors of equation (4), with $\pi$ by (5).

    Parameters
    ----------
    factors : Factors
        Both factors, not changed. The trace of that of the inputs is positive, owing to the 1.
    damping : float
        The damping $\lambda$; positive.

    Returns
    -------
    Factors
        The damped ones. If the trace of $G$ is zero, $\pi = 1$.

    Raises
    ------
    ValueError
        If `damping` is not positive and finite.

    Examples
    --------
    >>> factors = Factors(torch.tensor([[2.5, 0.5], [0.5, 1.0]]), torch.tensor([[0.2, -0.2], [-0.2, 0.2]]))
    >>> damped = damp(factors, 0.04)
    >>> damped.inputs.diagonal(), damped.outputs.diagonal()
    (tensor([3.0916, 1.5916]), tensor([0.2676, 0.2676]))
    """
    # given: the checks
    _check_positive(damping=damping)
    raise NotImplementedError("not written yet: damp")


def precondition(
    factors: Factors, gradient: Float[Tensor, "d_out d_in"], damping: float
) -> Float[Tensor, "d_out d_in"]:
    r"""Divide a layer's gradient by its damped curvature: equation (6).

    Parameters
    ----------
    factors : Factors
        Both factors, not damped yet.
    gradient : Tensor
        The gradient $V$ by $\bar W$, the bias in the last column.
    damping : float
        The damping $\lambda$; positive.

    Returns
    -------
    Tensor
        $D$, of the shape of the gradient. Not yet turned downhill.

    Raises
    ------
    ValueError
        If `damping` is not positive and finite, or `gradient` does not fit the factors.

    Examples
    --------
    >>> factors = Factors(torch.tensor([[2.5, 0.5], [0.5, 1.0]]), torch.tensor([[0.2, -0.2], [-0.2, 0.2]]))
    >>> precondition(factors, torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), 0.04)
    tensor([[ 0.7287, -0.2289],
            [-0.7287,  0.2289]])
    """
    # given: the checks
    _check_fit(factors, gradient)
    _check_positive(damping=damping)
    raise NotImplementedError("not written yet: precondition")


def trace(model: nn.Sequential, x: Float[Tensor, "batch features"]) -> Trace:  # given
    """Run a network and keep what came into each linear layer and what went out.

    Parameters
    ----------
    model : Sequential
        Linear layers with the hyperbolic tangent between them, as `perceptron` of `mlpath.optim._networks` makes them.
    x : Tensor
        A batch, one sample a row.

    Returns
    -------
    Trace
        Inputs and pre-activations, layer by layer.

    Raises
    ------
    ValueError
        If `x` is not a matrix of finite numbers, or `model` has other layers.

    Examples
    --------
    >>> kept = trace(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.ones(5, 3))
    >>> [tuple(a.shape) for a in kept.inputs], [tuple(h.shape) for h in kept.outputs]
    ([(5, 3), (5, 4)], [(5, 4), (5, 2)])
    """
    _check_batch(x, "x")
    inputs, outputs = [], []
    for index, layer in enumerate(model):
        if not isinstance(layer, nn.Tanh if index % 2 else nn.Linear):
            raise ValueError(f"model must alternate linear layers and hyperbolic tangents, got {layer}")
        if isinstance(layer, nn.Linear):
            inputs.append(x.detach())
        x = layer(x)
        if isinstance(layer, nn.Linear):
            outputs.append(x)
    return Trace(inputs, outputs)


def sampled_factors(
    model: nn.Sequential, x: Float[Tensor, "batch features"], *, generator: torch.Generator
) -> list[Factors]:
    """Return the factors (2) of each layer for the cross entropy of labels that the network itself would give.

    Parameters
    ----------
    model : Sequential
        A network that `trace` can run; its outputs are logits. Neither it nor the gradients it holds are changed.
    x : Tensor
        A batch, one sample a row.
    generator : torch.Generator
        Source of the labels: one is drawn for each sample, with the probabilities of the softmax.

    Returns
    -------
    list of Factors
        From the first layer to the last.

    Raises
    ------
    ValueError
        If `trace` refuses `model` or `x`.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    >>> factors = sampled_factors(model, torch.ones(5, 3), generator=torch.Generator().manual_seed(0))
    >>> [(tuple(f.inputs.shape), tuple(f.outputs.shape)) for f in factors]
    [((4, 4), (4, 4)), ((5, 5), (2, 2))]
    """
    raise NotImplementedError("not written yet: sampled_factors")


def pass_back(
    following: Float[Tensor, "d_next d_next"],
    weight: Float[Tensor, "d_next d_out"],
    slopes: Float[Tensor, "batch d_out"],
) -> Float[Tensor, "d_out d_out"]:
    """Return the matrix of a layer's pre-activations from that of the next layer's: the first of equation (10).

    Parameters
    ----------
    following : Tensor
        The next layer's matrix $G_{l+1}$.
    weight : Tensor
        The next layer's weights $W$, without the bias.
    slopes : Tensor
        The derivatives $f'$ of what lies between, one sample a row.

    Returns
    -------
    Tensor
        $G_l$.

    Raises
    ------
    ValueError
        If the shapes do not fit, or `slopes` is not a matrix of finite numbers.

    Examples
    --------
    >>> pass_back(torch.tensor([[0.24]]), torch.tensor([[2.0, -1.0]]), torch.tensor([[0.5, 1.0], [1.0, 0.2]]))
    tensor([[ 0.6000, -0.1680],
            [-0.1680,  0.1248]])
    """
    # given: the checks
    _check_batch(slopes, "slopes")
    if following.shape != (len(weight), len(weight)):
        raise ValueError(f"following must have shape {(len(weight), len(weight))}, got {tuple(following.shape)}")
    if weight.shape[1] != slopes.shape[1]:
        raise ValueError(f"weight must have {slopes.shape[1]} columns, got shape {tuple(weight.shape)}")
    raise NotImplementedError("not written yet: pass_back")


def recursive_factors(model: nn.Sequential, x: Float[Tensor, "batch features"]) -> list[Factors]:
    r"""Return the factors of each layer for the cross entropy by KFRA: $A$ of (2), and $G$ by (10).

    Parameters
    ----------
    model : Sequential
        A network that `trace` can run; its outputs are logits. It is not changed.
    x : Tensor
        A batch, one sample a row.

    Returns
    -------
    list of Factors
        From the first layer to the last; no gradient flows through them.

    Raises
    ------
    ValueError
        If `trace` refuses `model` or `x`.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(1, 2))
    >>> model.requires_grad_(False).load_state_dict({"0.weight": torch.zeros(2, 1), "0.bias": torch.zeros(2)})
    <All keys matched successfully>
    >>> recursive_factors(model, torch.tensor([[2.0], [-1.0]]))[0].outputs
    tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]])
    """
    # given: the trace, and no graph
    with torch.no_grad():
        kept = trace(model, x)
    weights = [layer.weight.detach() for layer in model if isinstance(layer, nn.Linear)]
    raise NotImplementedError("not written yet: recursive_factors")


def at_rest(model: nn.Sequential) -> KFACState:  # given
    """Return the state before the first step: a count of 0, and factors of zeros.

    Parameters
    ----------
    model : Sequential
        The network.

    Returns
    -------
    KFACState
        The state.

    Examples
    --------
    >>> state = at_rest(nn.Sequential(nn.Linear(2, 1)))
    >>> state.count, state.averages[0].inputs.shape
    (0, torch.Size([3, 3]))
    """
    weights = [layer.weight.detach() for layer in model if isinstance(layer, nn.Linear)]
    orders = [(weight.shape[1] + 1, weight.shape[0]) for weight in weights]
    return KFACState(0, [Factors(w.new_zeros(i, i), w.new_zeros(o, o)) for w, (i, o) in zip(weights, orders)])


def kfac(
    state: KFACState,
    gradients: list[Float[Tensor, "..."]],
    factors: list[Factors],
    *,
    step_size: float = 1.0,
    damping: float = 1e-2,
    decay: float = 0.95,
    clip: float = 1.0,
) -> tuple[KFACState, list[Float[Tensor, "..."]]]:
    r"""Take one step of K-FAC: average the factors by (7), divide by them (6), and bound the step (8).

    Parameters
    ----------
    state : KFACState
        The state after the step before. It is not changed.
    gradients : list of Tensor
        The gradient of the mean loss by each layer's $\bar W$, the bias in the last column. Not changed.
    factors : list of Factors
        The factors of this batch.
    step_size : float
        The step size $\alpha$.
    damping : float
        The damping $\lambda$.
    decay : float
        The largest weight $\varepsilon$ of the past in (7), at least 0 and below 1.
    clip : float
        The bound $\kappa$ on the squared length of the step; positive, may be infinite.

    Returns
    -------
    tuple of KFACState and list of Tensor
        The next state, and the update of each layer, to be added to $\bar W$.

    Raises
    ------
    ValueError
        If `step_size` or `damping` is not positive and finite, `decay` is not in [0, 1), `clip` is not positive, or
        state, gradients and factors are not as many or do not fit.

    Examples
    --------
    >>> factors = Factors(torch.tensor([[2.5, 0.5], [0.5, 1.0]]), torch.tensor([[0.2, -0.2], [-0.2, 0.2]]))
    >>> state, gradient = at_rest(nn.Sequential(nn.Linear(1, 2))), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    >>> state, updates = kfac(state, [gradient], [factors], damping=0.04, clip=torch.inf)
    >>> state.count, updates[0]
    (1, tensor([[-0.7287,  0.2289],
            [ 0.7287, -0.2289]]))
    """
    # given: the checks
    _check_rule(state, gradients, factors, decay, clip)
    _check_positive(step_size=step_size, damping=damping)
    raise NotImplementedError("not written yet: kfac")


def train(  # given
    model: nn.Sequential,
    x: Float[Tensor, "n_samples features"],
    labels: Int[Tensor, " n_samples"],
    *,
    steps: int,
    source: Literal["sampled", "recursive"] = "sampled",
    generator: torch.Generator,
    **options: float,
) -> Float[Tensor, " n_points"]:
    """Train a network in place on all samples at once, and return its mean cross entropy before and after each step.

    Parameters
    ----------
    model : Sequential
        A network that `trace` can run.
    x : Tensor
        The samples, one a row.
    labels : Tensor
        What each of them is, from 0.
    steps : int
        How many steps to make, at least 1.
    source : {"sampled", "recursive"}
        Where the factors come from.
    generator : torch.Generator
        Source of the labels that are drawn.
    **options : float
        Options of `kfac`.

    Returns
    -------
    Tensor
        One loss more than steps.

    Raises
    ------
    ValueError
        If `steps` is below 1, `source` is unknown, or an option or `x` is refused.

    Examples
    --------
    >>> from mlpath.optim._networks import digits, perceptron
    >>> generator = torch.Generator().manual_seed(0)
    >>> images, labels = digits(100)
    >>> losses = train(perceptron((64, 10), generator=generator), images, labels, steps=5, generator=generator)
    >>> len(losses), bool(losses[-1] < losses[0])
    (6, True)
    """
    if steps < 1 or source not in ("sampled", "recursive"):
        raise ValueError(f"steps must be at least 1 and source known, got steps={steps} and source={source!r}")
    state, losses = at_rest(model), []
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(x), labels)
        parts = torch.autograd.grad(loss, [part for layer in layers for part in (layer.weight, layer.bias)])
        gradients = [torch.cat([w, b[:, None]], dim=1) for w, b in zip(parts[::2], parts[1::2])]
        if source == "sampled":
            factors = sampled_factors(model, x, generator=generator)
        else:
            factors = recursive_factors(model, x)
        state, updates = kfac(state, gradients, factors, **options)
        with torch.no_grad():
            for layer, update in zip(layers, updates):
                layer.weight.add_(update[:, :-1])
                layer.bias.add_(update[:, -1])
        losses.append(loss.detach())
    with torch.no_grad():
        return torch.stack([*losses, nn.functional.cross_entropy(model(x), labels)])


def _check_batch(batch: Tensor, name: str) -> None:  # given: argument checks
    if batch.ndim != 2 or not batch.numel():
        raise ValueError(f"{name} must be a matrix with at least one row and column, got shape {tuple(batch.shape)}")
    if not torch.isfinite(batch).all():
        raise ValueError(f"{name} must be finite, got {batch[~torch.isfinite(batch)][0].item()}")


def _check_positive(**values: float) -> None:  # given: argument checks
    for name, value in values.items():
        if not 0 < value < float("inf"):
            raise ValueError(f"{name} must be positive and finite, got {value}")


def _check_fit(factors: Factors, gradient: Tensor) -> None:  # given: argument checks
    expected = (len(factors.outputs), len(factors.inputs))
    if tuple(gradient.shape) != expected:
        raise ValueError(f"gradient must have shape {expected}, got {tuple(gradient.shape)}")


def _check_rule(  # given: argument checks
    state: KFACState, gradients: list[Tensor], factors: list[Factors], decay: float, clip: float
) -> None:
    if not len(state.averages) == len(gradients) == len(factors):
        counts = f"{len(state.averages)} averages, {len(gradients)} gradients and {len(factors)} factors"
        raise ValueError(f"gradients and factors must be one for each layer, got {counts}")
    for average, gradient, factor in zip(state.averages, gradients, factors):
        _check_fit(average, gradient)
        _check_fit(factor, gradient)
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be at least 0 and below 1, got {decay}")
    if not clip > 0:
        raise ValueError(f"clip must be positive, got {clip}")
