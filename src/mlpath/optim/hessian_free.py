r"""Hessian-free optimisation: Newton's method for networks by products with the curvature alone.

## Idea

Newton's method needs the solution of a linear system, not its matrix. Conjugate gradients solve it from products of the
matrix with vectors, and such a product costs about as much as two gradients, for any network. That alone does not
suffice: the Hessian of a network is not positive definite, the quadratic model holds only nearby, and nobody has the
time to solve the system exactly. Martens' recipe mends all three: take the Gauss-Newton matrix, damp it by how well the
model has predicted, and stop as soon as further steps gain little.

## Maths

The loss is $f(w) = \ell(z(w))$, with all outputs $z$ of a network on a batch, and the loss $\ell$ convex in them. $J =
\partial z / \partial w$.

**Products with the Hessian.** $H v$ is the derivative of the gradient along $v$. As $v$ is constant,

$$H v = \nabla_w \bigl( \nabla f(w)^\top v \bigr) : \tag{1}$$

differentiate twice, and never see $H$ (Pearlmutter [1]).

**Products with the Gauss-Newton matrix.** By the chain rule $H = J^\top \nabla^2 \ell\, J + \sum_i \frac{\partial \ell}
{\partial z_i} \nabla^2 z_i$. Drop the second sum, which is where negative curvature comes from:

$$B v = J^\top \bigl( \nabla^2 \ell\, (J v) \bigr) , \tag{2}$$

positive semidefinite, since $v^\top B v = (Jv)^\top \nabla^2 \ell\, (Jv) \ge 0$. From right to left: a product with
$J$, one with the small curvature of the loss, one with $J^\top$. The last is what a backward pass computes. $J v$ needs
a pass forwards; or, since $J^\top u$ is linear in $u$, it is the derivative of $(J^\top u)^\top v$ by $u$, at any $u$.

For the mean cross entropy of $n$ samples with $p = \operatorname{softmax}(z)$, row by row,

$$\nabla^2 \ell\, u = \frac1n \bigl( p \circ u - p\, (p^\top u) \bigr) . \tag{3}$$

**The model.** With the gradient $g$ and a damping $\lambda$, the step is to minimise

$$q_\lambda(d) = g^\top d + \tfrac12 d^\top (B + \lambda I)\, d . \tag{4}$$

Conjugate gradients on $(B + \lambda I) d = -g$ lower it in every step. With the residual $r = -g - (B + \lambda I) d$
it costs no further product:

$$q_\lambda(d) = \tfrac12 (g - r)^\top d . \tag{5}$$

**When to stop.** The length of the residual, on which `optim/conjugate_gradient/linear` decides, may rise while
$q_\lambda$ falls. Martens [2] looks at what counts: after step $i$, with $k = \max(10, \lfloor i / 10 \rfloor)$, stop
if

$$i > k, \qquad q_i < 0 \qquad\text{and}\qquad q_i - q_{i-k} > k\, \varepsilon\, q_i , \tag{6}$$

which says that the last $k$ steps have gained less than the share $\varepsilon$ of everything each. ($q_i$ is negative:
the gain $q_{i-k} - q_i$ is less than $k \varepsilon |q_i|$.)

**Which point to take.** The last one is best for the model, not for $f$. Later points rest on directions of small
curvature and trust the model furthest. So look at the points after $1, 2, 3, 4, 5, 7, 9, \dots$ steps (every
$\lceil 1.3^j \rceil$) and the last: begin with the last and go back as long as $f$ gets lower.

**How much to damp.** The ratio of what was gained to what the undamped model promised,

$$\rho = \frac{f(w + d) - f(w)}{g^\top d + \tfrac12 d^\top B d} , \tag{7}$$

is 1 where the model is right. Levenberg and Marquardt's rule: $\lambda \leftarrow \tfrac32 \lambda$ if
$\rho < \tfrac14$ (or no number), $\lambda \leftarrow \tfrac23 \lambda$ if $\rho > \tfrac34$.

**Where to start.** Neighbouring systems have similar solutions. So each run of conjugate gradients starts from 0.95
times the solution (the last point) of the run before; it then gains in a few steps what would take many from zero.

## Worked example

- (3) for one sample with $p = (0.2, 0.3, 0.5)$ and $u = (1, 0, 2)$: $p^\top u = 1.2$, so
  $(0.2, 0, 1) - 1.2\, (0.2, 0.3, 0.5) = (-0.04, -0.36, 0.4)$. It adds up to zero: adding a constant to all logits
  changes nothing.
- (2) for $z = \tanh(w x)$ with $x = 2$ and $w = 0.5$, and $\ell = \tfrac12 (z - 0.2)^2$: $z = 0.7616$,
  $J = 2 (1 - z^2) = 0.84$, so $B = J^2 = 0.7055$. The Hessian has $(z - 0.2)\, z'' = 0.5616 \cdot (-2 z J x) = 0.5616
  \cdot (-2.559) = -1.437$ besides: negative, $-0.732$.
- (6) with $\varepsilon = 0.005$ and $k = 10$: if $q_{12} = -1.02$ and $q_2 = -1$, the gain of $0.02$ is less than
  $10 \cdot 0.005 \cdot 1.02 = 0.051$: stop. From $q_2 = -0.9$ the gain would be $0.12$: go on.
- (7): $g^\top d = -0.8$, $d^\top B d = 0.6$ promise $-0.5$. A loss that falls from $2.0$ to $1.9$ has $\rho = 0.2$:
  more damping. To $1.55$: $\rho = 0.9$, less.

## Plan

- `hessian_product` takes a function, a point and a vector and returns (1).
- `softmax_product` takes logits and a change of theirs and returns (3).
- `gauss_newton_product` takes a network as a function, a point, a vector and the loss' curvature and returns (2).
- `has_stalled` takes the values of the model so far and says whether (6) holds.
- `truncated_cg` takes a product, a right-hand side and a start and runs conjugate gradients until (6).
- `backtrack` takes the loss and the points of such a run and returns the one to take.
- `adapt_damping` takes a damping and both parts of (7) and returns the next damping.
- `minimize` puts them together.

Given are `as_function`, which makes a function of a flat vector from a network and a batch, and `checkpoints`.

## Pitfalls

- The product is right for a linear network, and for no other.
- It stops at once, or never, when the values of the model are small.
- Each step solves the system well, and the loss explodes.
- The damping grows without end though all steps are good.
- A product takes more and more memory.
- The start from the solution before makes things worse, for the step *taken* was another one.

## Cost

(1) and (2) cost some two to three times a gradient; a step makes tens of products (at most `max_cg`), and a loss for
each point looked at. Memory: a few vectors for conjugate gradients. We keep all points of a run, where only a dozen are
needed. Every product here is on the full batch: Martens takes the gradient on all data and the products on a part of
them. We leave out his preconditioner, and structural damping for recurrent networks [3].

On 60 of scikit-learn's digits through an autoencoder with a bottleneck of three units, 14 steps bring half the squared
error of a digit from 10 to 0.70, for the work of some 1,700 gradients; that many steps of gradient descent end at 0.98
and 1.25 with step sizes of 0.1 and 0.03. On 40 digits (the figure) the better step size does as well for equal work.
What is gained is that no step size has to be found, and steps that can be shared out over large batches.

## Go further

- *Experiment*: put the Hessian (1) in the place of (2). `truncated_cg` returns the first direction of negative
  curvature: how soon does it come?
- *Stretch*: precondition by $(\operatorname{diag}(\sum_i \nabla f_i^{\,2}) + \lambda)^{0.75}$, as Martens does: `begin`
  and `advance` take a `precondition`.

## References

1. Pearlmutter (1994), Fast exact multiplication by the Hessian, https://doi.org/10.1162/neco.1994.6.1.147
2. Martens (2010), Deep learning via Hessian-free optimization, https://icml.cc/Conferences/2010/papers/458.pdf
3. Martens & Sutskever (2012), Training deep and recurrent networks with Hessian-free optimization,
   https://doi.org/10.1007/978-3-642-35289-8_27
4. Schraudolph (2002), Fast curvature matrix-vector products for second-order gradient descent,
   https://doi.org/10.1162/08997660260028683
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mlpath.optim._shared import Vector
from mlpath.optim.conjugate_gradient.linear import advance, begin
from mlpath.optim.gradient_descent import CONVERGED, stopping

Predict = Callable[[Tensor], Tensor]
Curvature = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class CGRun:
    """A run of conjugate gradients.

    Attributes
    ----------
    points : ndarray
        The start and the point after each step, one a row.
    values : ndarray
        The model (5) at each of them.
    direction : ndarray or None
        If it stopped because the matrix is not positive along its next direction, that direction.
    """

    points: Float[np.ndarray, "n_points dim"]
    values: Float[np.ndarray, " n_points"]
    direction: Float[np.ndarray, " dim"] | None = None


@dataclass(frozen=True)
class HessianFreeResult:
    """What a minimisation ended with, under SciPy's names.

    Attributes
    ----------
    x : Tensor
        The last point.
    fun : float
        The loss there.
    nit : int
        Number of steps, those that were rejected included.
    success : bool
        Whether it stopped because it had converged.
    message : str
        Why it stopped.
    losses : ndarray
        The loss at the start and after each step.
    dampings : ndarray
        The damping of each step, and the one that the next would have had.
    cg_steps : ndarray
        How many steps of conjugate gradients each step took.
    """

    x: Float[Tensor, " dim"]
    fun: float
    nit: int
    success: bool
    message: str
    losses: Float[np.ndarray, " n_points"]
    dampings: Float[np.ndarray, " n_points"]
    cg_steps: Int[np.ndarray, " n_steps"]


def hessian_product(
    fun: Callable[[Float[Tensor, " dim"]], Float[Tensor, ""]], w: Float[Tensor, " dim"], v: Float[Tensor, " dim"]
) -> Float[Tensor, " dim"]:
    """Multiply a vector by the second derivatives of a function: equation (1).

    Parameters
    ----------
    fun : callable
        Takes a vector and returns a number, as a tensor that autograd has followed twice.
    w : Tensor
        Where. It is not changed, nor are any gradients stored.
    v : Tensor
        The vector.

    Returns
    -------
    Tensor
        The product, which is part of no graph.

    Raises
    ------
    ValueError
        If `w` and `v` are not finite vectors of one length.

    Examples
    --------
    >>> hessian_product(lambda w: w[0] ** 3 + w[0] * w[1], torch.tensor([2.0, 1.0]), torch.tensor([1.0, 10.0]))
    tensor([22.,  1.])
    """
    # given: the checks
    _check_vectors(w=w, v=v)
    # yours
    w = w.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(fun(w), w, create_graph=True)
    (product,) = torch.autograd.grad(gradient @ v, w)
    return product


def softmax_product(
    logits: Float[Tensor, "n_samples n_classes"], change: Float[Tensor, "n_samples n_classes"]
) -> Float[Tensor, "n_samples n_classes"]:
    """Multiply a change of logits by the second derivatives of the mean cross entropy: equation (3).

    Parameters
    ----------
    logits : Tensor
        One sample a row.
    change : Tensor
        What is multiplied, $u$, one row for each sample.

    Returns
    -------
    Tensor
        The product, whose rows add up to zero.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix, or `change` has another shape.

    Examples
    --------
    >>> softmax_product(torch.tensor([[0.2, 0.3, 0.5]]).log(), torch.tensor([[1.0, 0.0, 2.0]]))
    tensor([[-0.0400, -0.3600,  0.4000]])
    """
    # given: the checks
    if logits.ndim != 2 or not logits.numel() or not torch.isfinite(logits).all():
        raise ValueError(f"logits must be a matrix of finite numbers, got {logits}")
    if change.shape != logits.shape:
        raise ValueError(f"change must have shape {tuple(logits.shape)}, got {tuple(change.shape)}")
    # yours
    p = logits.softmax(dim=1)
    along = p * change
    return (along - p * along.sum(dim=1, keepdim=True)) / len(logits)


def gauss_newton_product(
    predict: Predict, w: Float[Tensor, " dim"], v: Float[Tensor, " dim"], curvature: Curvature
) -> Float[Tensor, " dim"]:
    r"""Multiply a vector by the Gauss-Newton matrix: equation (2).

    Parameters
    ----------
    predict : callable
        Takes the parameters as a vector and returns the outputs $z$, of any shape.
    w : Tensor
        The parameters. They are not changed.
    v : Tensor
        The vector.
    curvature : callable
        Takes the outputs and a change of theirs and returns $\nabla^2 \ell$ times the change.

    Returns
    -------
    Tensor
        The product, which is part of no graph.

    Raises
    ------
    ValueError
        If `w` and `v` are not finite vectors of one length.

    Examples
    --------
    >>> w, v = torch.tensor([0.5]), torch.tensor([1.0])
    >>> gauss_newton_product(lambda w: torch.tanh(2 * w), w, v, lambda z, u: u)
    tensor([0.7055])
    """
    # given: the checks
    _check_vectors(w=w, v=v)
    # yours
    w = w.detach().requires_grad_()
    outputs = predict(w)
    dummy = torch.zeros_like(outputs, requires_grad=True)
    (pulled,) = torch.autograd.grad((outputs * dummy).sum(), w, create_graph=True)
    (change,) = torch.autograd.grad(pulled @ v, dummy)  # J v, for `pulled` is J' times the dummy
    (product,) = torch.autograd.grad((outputs * curvature(outputs.detach(), change)).sum(), w)
    return product


def has_stalled(values: Sequence[float], *, eps: float = 5e-4) -> bool:
    r"""Say whether conjugate gradients should stop: equation (6).

    Parameters
    ----------
    values : sequence of float
        The model at the start, $q_0$, and after each of the $i$ steps so far.
    eps : float
        The share $\varepsilon$; positive.

    Returns
    -------
    bool
        Whether to stop.

    Raises
    ------
    ValueError
        If `values` is empty or `eps` is not positive and finite.

    Examples
    --------
    >>> has_stalled([0, -0.5, -1.0, *[-1.01] * 9, -1.02], eps=0.005)
    True
    >>> has_stalled([0, -0.5, -0.9, *[-1.01] * 9, -1.02], eps=0.005)
    False
    """
    # given: the checks
    if not len(values):
        raise ValueError(f"values must not be empty, got {values}")
    _check_positive(eps=eps)
    # yours
    steps = len(values) - 1
    k = max(10, steps // 10)
    if steps <= k or not values[-1] < 0:
        return False
    return bool(values[-1] - values[-1 - k] > k * eps * values[-1])


def truncated_cg(
    product: Callable[[Vector], Vector],
    rhs: Float[np.ndarray, " dim"],
    start: Float[np.ndarray, " dim"],
    *,
    max_iter: int = 100,
    eps: float = 5e-4,
) -> CGRun:
    r"""Lower the model (4) by conjugate gradients until it no longer pays.

    Parameters
    ----------
    product : callable
        Takes a vector and returns its product with the (damped) matrix. It is called once at the start and once a step.
    rhs : ndarray
        The right-hand side, minus the gradient.
    start : ndarray
        Where to start from; not changed.
    max_iter : int
        The largest number of steps, at least 1.
    eps : float
        The share $\varepsilon$ in (6).

    Returns
    -------
    CGRun
        The points and the model at each. It ends when (6) holds, after `max_iter` steps, when the residual is at most
        1e-10 times as long as `rhs`, or before a step along which the curvature is not positive.

    Raises
    ------
    ValueError
        If `rhs` and `start` are not finite vectors of one length, `max_iter` is below 1, or `eps` is not positive.

    Examples
    --------
    >>> run = truncated_cg(lambda v: np.array([2.0, 4.0]) * v, np.array([2.0, 2.0]), np.zeros(2))
    >>> run.points.round(4), run.values[1:].round(4)
    (array([[0.    , 0.    ],
           [0.6667, 0.6667],
           [1.    , 0.5   ]]), array([-1.3333, -1.5   ]))
    """
    # given: the checks
    _check_run(rhs, start, max_iter)
    _check_positive(eps=eps)
    # yours
    state, direction = begin(product, rhs, start), None
    points, values = [state.x], [-float((rhs + state.residual) @ state.x) / 2]
    for _ in range(max_iter):
        if state.rho <= 1e-20 * (rhs @ rhs) or has_stalled(values, eps=eps):
            break
        image = product(state.direction)
        if not state.direction @ image > 0:
            direction = state.direction
            break
        state = advance(state, image)
        points.append(state.x)
        values.append(-float((rhs + state.residual) @ state.x) / 2)
    return CGRun(np.array(points), np.array(values), direction)


def checkpoints(n_steps: int) -> list[int]:  # given
    """Return after which steps of conjugate gradients the loss is looked at.

    Parameters
    ----------
    n_steps : int
        How many steps were made.

    Returns
    -------
    list of int
        Rising: the different numbers among the rounded-up powers of 1.3 that are below `n_steps`, and `n_steps`.

    Examples
    --------
    >>> checkpoints(20)
    [1, 2, 3, 4, 5, 7, 9, 11, 14, 18, 20]
    """
    powers = {math.ceil(1.3**j) for j in range(100)}
    return sorted({number for number in powers if number < n_steps} | {n_steps})


def backtrack(
    fun: Callable[[Vector], float], points: Float[np.ndarray, "n_points dim"]
) -> tuple[Float[np.ndarray, " dim"], float]:
    """Choose a point of a run: from the last one back through the checkpoints as long as the loss gets lower.

    Parameters
    ----------
    fun : callable
        Takes a step and returns the loss after it, which may be infinite or NaN.
    points : ndarray
        The start and the point after each step, one a row.

    Returns
    -------
    point : ndarray
        The point chosen.
    value : float
        The loss there. A loss that is NaN counts as infinite; among equal losses the later point wins.

    Examples
    --------
    >>> points = np.arange(8.0)[:, None]
    >>> backtrack(lambda d: float((d[0] - 4.2) ** 2), points)[0]
    array([4.])
    """
    marks = checkpoints(len(points) - 1)[::-1]
    best, value = points[marks[0]], _number(fun(points[marks[0]]))
    for mark in marks[1:]:
        trial = _number(fun(points[mark]))
        if not trial < value and value < math.inf:
            break
        if trial < value:
            best, value = points[mark], trial
    return best, value


def adapt_damping(damping: float, achieved: float, promised: float) -> float:
    r"""Return the next damping by Levenberg and Marquardt's rule, below equation (7).

    Parameters
    ----------
    damping : float
        The damping $\lambda$; positive.
    achieved : float
        The numerator of (7): by how much the loss has changed, negative for a gain; may be infinite or NaN.
    promised : float
        The denominator of (7), negative where the model promised a gain.

    Returns
    -------
    float
        The next damping. It is raised where nothing was promised, that is `promised` is not negative.

    Raises
    ------
    ValueError
        If `damping` is not positive and finite.

    Examples
    --------
    >>> adapt_damping(6.0, -0.1, -0.5), adapt_damping(6.0, -0.45, -0.5), adapt_damping(6.0, -0.25, -0.5)
    (9.0, 4.0, 6.0)
    """
    # given: the check
    _check_positive(damping=damping)
    # yours
    ratio = achieved / promised if promised < 0 else -math.inf
    if not ratio >= 0.25:
        return damping * 3 / 2
    return damping * 2 / 3 if ratio > 0.75 else damping


def minimize(
    predict: Predict,
    loss: Callable[[Float[Tensor, "*outputs"]], Float[Tensor, ""]],
    curvature: Curvature,
    start: Float[Tensor, " dim"],
    *,
    damping: float = 0.1,
    warm: float = 0.95,
    max_cg: int = 100,
    tol: float = 1e-5,
    max_iter: int = 30,
) -> HessianFreeResult:
    r"""Minimise the loss of a network's outputs by Hessian-free steps.

    A step whose loss is not lower than before is rejected: the point stays, the damping rises.

    Parameters
    ----------
    predict : callable
        Takes the parameters as a vector and returns the outputs, see `as_function`.
    loss : callable
        Takes the outputs and returns the loss, a tensor of one number.
    curvature : callable
        Takes the outputs and a change of theirs and returns the loss' second derivatives times the change.
    start : Tensor
        Where to begin; not changed.
    damping : float
        The first damping $\lambda$; positive.
    warm : float
        How much of the solution before each run of conjugate gradients starts from, at least 0 and below 1. The first
        run starts from zero.
    max_cg : int
        The largest number of conjugate gradients' steps in a run.
    tol : float
        It ends when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.

    Returns
    -------
    HessianFreeResult
        `message` is one of `optim/gradient_descent`'s `CONVERGED` (the only one of success), `DIVERGED` and
        `OUT_OF_STEPS`.

    Raises
    ------
    ValueError
        If `start` is not a finite vector, `damping` is not positive, `warm` is not in [0, 1), `max_cg` or `max_iter` is
        below 1, or `tol` is negative.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 9, dtype=torch.float64)
    >>> result = minimize(
    ...     lambda w: w[0] * torch.tanh(w[1] * x) - torch.tanh(3 * x),
    ...     lambda z: z.square().sum() / 2,
    ...     lambda z, u: u,
    ...     torch.tensor([0.5, 1.0], dtype=torch.float64),
    ... )
    >>> [round(float(w), 2) for w in result.x], result.success
    ([1.0, 3.0], True)
    """
    # given: the checks
    _check_options(start, damping, warm, max_cg, tol, max_iter)
    # yours
    w, losses, dampings, cg_steps, message = start.detach().clone(), [], [damping], [], None
    solution = np.zeros_like(w.numpy())
    for nit in range(max_iter + 1):
        value, gradient = _value_and_gradient(lambda w: loss(predict(w)), w)
        losses.append(value)
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        if message:
            break
        multiply = _multiplier(predict, w, curvature)
        run = truncated_cg(_damped(multiply, dampings[-1]), -gradient, warm * solution, max_iter=max_cg)
        solution = run.points[-1]
        step, trial = backtrack(_after(lambda w: loss(predict(w)), w), run.points)
        promised = float(gradient @ step + step @ multiply(step) / 2)
        dampings.append(adapt_damping(dampings[-1], trial - value, promised))
        cg_steps.append(len(run.points) - 1)
        if trial < value:
            w = w + torch.from_numpy(step)
    record = np.array(losses), np.array(dampings), np.array(cg_steps, dtype=int)
    return HessianFreeResult(w, losses[-1], len(cg_steps), message == CONVERGED, str(message), *record)


def as_function(  # given
    model: nn.Sequential, x: Float[Tensor, "n_samples features"]
) -> tuple[Predict, Float[Tensor, " dim"]]:
    """Make a function of one vector from a network and a batch.

    Parameters
    ----------
    model : Sequential
        Linear layers and functions without parameters.
    x : Tensor
        The batch, one sample a row.

    Returns
    -------
    predict : callable
        Takes all parameters as one vector and returns the outputs on the batch. The model's own are not used.
    start : Tensor
        The model's parameters, as `predict` takes them.

    Examples
    --------
    >>> predict, start = as_function(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), torch.ones(5, 3))
    >>> start.shape, predict(start).shape
    (torch.Size([8]), torch.Size([5, 2]))
    """

    def predict(w: Tensor) -> Tensor:
        z, at = x, 0
        for layer in model:
            if isinstance(layer, nn.Linear):
                outputs, inputs = layer.weight.shape
                end = at + outputs * inputs
                z = z @ w[at:end].view(outputs, inputs).T + w[end : end + outputs]
                at = end + outputs
            else:
                z = layer(z)
        return z

    return predict, torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def _value_and_gradient(  # given
    fun: Callable[[Tensor], Tensor], w: Tensor
) -> tuple[float, np.ndarray]:
    w = w.detach().clone().requires_grad_()
    value = fun(w)
    return value.item(), torch.autograd.grad(value, w)[0].numpy()


def _after(fun: Callable[[Tensor], Tensor], w: Tensor) -> Callable[[np.ndarray], float]:  # given
    """The loss as a function of a step in NumPy."""

    def value(step: np.ndarray) -> float:
        with torch.no_grad():
            return fun(w + torch.from_numpy(step)).item()

    return value


def _multiplier(predict: Predict, w: Tensor, curvature: Curvature) -> Callable[[np.ndarray], np.ndarray]:  # given
    """Products with the Gauss-Newton matrix for vectors of NumPy, of which conjugate gradients are made."""
    return lambda v: gauss_newton_product(predict, w, torch.from_numpy(v), curvature).numpy()


def _damped(multiply: Callable[[Vector], Vector], damping: float) -> Callable[[Vector], Vector]:  # given
    return lambda v: multiply(v) + damping * v


def _number(value: float) -> float:  # given
    return math.inf if math.isnan(value) else float(value)


def _check_vectors(**vectors: Tensor) -> None:  # given: argument checks
    shape = next(iter(vectors.values())).shape
    for name, vector in vectors.items():
        if vector.ndim != 1 or vector.shape != shape or not torch.isfinite(vector).all():
            raise ValueError(f"{name} must be a vector of {tuple(shape)} finite numbers, got {vector}")


def _check_positive(**values: float) -> None:  # given: argument checks
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")


def _check_run(rhs: np.ndarray, start: np.ndarray, max_iter: int) -> None:  # given: argument checks
    for name, vector in (("rhs", rhs), ("start", start)):
        if vector.ndim != 1 or vector.shape != rhs.shape or not np.isfinite(vector).all():
            raise ValueError(f"{name} must be a vector of {rhs.shape} finite numbers, got {vector}")
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")


def _check_options(  # given: argument checks
    start: Tensor, damping: float, warm: float, max_cg: int, tol: float, max_iter: int
) -> None:
    _check_vectors(start=start)
    _check_positive(damping=damping)
    if not 0 <= warm < 1:
        raise ValueError(f"warm must be at least 0 and below 1, got {warm}")
    if max_cg < 1 or max_iter < 1:
        raise ValueError(f"max_cg and max_iter must be at least 1, got {max_cg} and {max_iter}")
    if not 0 <= tol < math.inf:
        raise ValueError(f"tol must be non-negative and finite, got {tol}")
