r"""Shampoo and AdaHessian: curvature of matrices by their axes, and the Hessian's diagonal from random signs.

## Idea

AdaGrad and Adam divide each coordinate by a size of its own. Better would be a whole matrix, which also knows how
coordinates move together, and which nobody can store. Two ways out. *Shampoo* remembers that the parameters of a layer
form a matrix, and keeps one small matrix for the rows and one for the columns. *AdaHessian* stays with one number for
each coordinate, but makes it a curvature, not a size of gradients: the diagonal of the Hessian, which a product with a
vector of random signs estimates for the price of a gradient.

## Maths

Rules have the form of `optim/adaptive`: from a state and a gradient to the next state and an update, which is *added*.

**The matrix that AdaGrad would like.** With all gradients as vectors $g_t$, full-matrix AdaGrad is

$$u_t = -a \Bigl(\varepsilon I + \sum_{s \le t} g_s g_s^\top\Bigr)^{-1/2} g_t . \tag{1}$$

For $m$ by $n$ parameters its matrix has order $mn$. Shampoo [1] keeps two, of the orders $m$ and $n$,

$$L_t = \varepsilon I + \sum_{s \le t} G_s G_s^\top, \qquad
R_t = \varepsilon I + \sum_{s \le t} G_s^\top G_s , \tag{2}$$

$$u_t = -a\, L_t^{-1/4}\, G_t\, R_t^{-1/4} . \tag{3}$$

Why a fourth root? If all $G_s$ have rank $r$ at most, the matrix of (1) is at most $r\, L_t^{1/2} \otimes R_t^{1/2}$
(in the sense that the difference is positive semidefinite; this is the lemma of [1]). Its root is at most
$\sqrt r\, L_t^{1/4} \otimes R_t^{1/4}$, and dividing by that Kronecker product is (3). For a tensor with $k$ axes there
is one matrix for each,

$$H^{(i)}_t = \varepsilon I + \sum_{s \le t} \operatorname{mat}_i(G_s) \operatorname{mat}_i(G_s)^\top, \qquad
u_t = -a\, G_t \times_1 \bigl(H^{(1)}_t\bigr)^{-1/2k} \dots \times_k \bigl(H^{(k)}_t\bigr)^{-1/2k} . \tag{4}$$

Here $\operatorname{mat}_i(G)$ has the $i$-th axis in its rows and all others, flattened, in its columns, and the
product along an axis is

$$(G \times_i M)_{\dots j \dots} = \sum_l M_{jl}\, G_{\dots l \dots} . \tag{5}$$

For a vector $k = 1$ and (4) is (1) itself. For a matrix it is (3).

**The root.** A symmetric, positive semidefinite $M = Q \operatorname{diag}(\lambda) Q^\top$ has

$$(M + \varepsilon I)^{-1/p} = Q \operatorname{diag}\bigl((\max(\lambda_j, 0) + \varepsilon)^{-1/p}\bigr) Q^\top ; \tag{6}$$

the maximum is for eigenvalues that rounding has made negative.

**What it does.** In the first step, with the singular value decomposition $G = U \Sigma V^\top$ and
$\varepsilon \to 0$, $L = U \Sigma^2 U^\top$ and $R = V \Sigma^2 V^\top$, so

$$u_1 = -a\, U \Sigma^{-1/2} \Sigma\, \Sigma^{-1/2} V^\top = -a\, U V^\top : \tag{7}$$

all singular values become 1. (Adam's first step makes all *entries* $\pm 1$.) Turn the rows or columns of the
parameters by an orthogonal matrix, and the updates turn with them; a rule by coordinates has no such symmetry.

**The diagonal of the Hessian.** Let $z$ have independent entries $\pm 1$, each with probability one half. Then
$\mathbb{E}[z_i z_j]$ is 1 for $i = j$ and else 0, so that

$$\mathbb{E}[z \circ H z]_i = \sum_j h_{ij}\, \mathbb{E}[z_i z_j] = h_{ii} , \qquad
\operatorname{Var}[z \circ H z]_i = \sum_{j \ne i} h_{ij}^2 . \tag{8}$$

Only a product with $H$ is needed (Hutchinson [2]). $q$ probes divide the variance by $q$. As the noise comes from the
entries beside the diagonal, AdaHessian [3] also averages over blocks of $b$ parameters that belong together, such as a
convolution's kernel:

$$\bar d_{ib + j} = \frac1b \sum_{l=1}^{b} d_{ib + l} , \qquad 1 \le j \le b . \tag{9}$$

**AdaHessian** is Adam with this diagonal in the place of the gradient in the second average, and a power $\rho$:

$$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t , \quad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, \bar d_t^{\,2} , \quad
u_t = -a\, \frac{\hat m_t}{\bigl(\sqrt{\hat v_t}\bigr)^{\rho} + \varepsilon} , \tag{10}$$

with the hats of `optim/adaptive`: $\hat m_t = m_t / (1 - \beta_1^t)$, $\hat v_t = v_t / (1 - \beta_2^t)$. The square
makes curvatures positive and forgets the noise slowly. With $\rho = 1$ the units are right, a gradient over a
curvature: stretch a coordinate, and the step stretches with it. $\rho < 1$ is more careful.

## Worked example

- *Shampoo*: $G_1 = \begin{pmatrix} 0 & 4 \\ 1 & 0 \end{pmatrix}$, $a = 1$, no $\varepsilon$.
  $L = \operatorname{diag}(16, 1)$, $R = \operatorname{diag}(1, 16)$, the inverse fourth roots are
  $\operatorname{diag}(0.5, 1)$ and $\operatorname{diag}(1, 0.5)$, and
  $u_1 = -\begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}$, as (7) says. Then
  $G_2 = \begin{pmatrix} 0 & 3 \\ 0 & 0 \end{pmatrix}$: $L = \operatorname{diag}(25, 1)$,
  $R = \operatorname{diag}(1, 25)$, and the entry becomes $3 / (\sqrt5 \sqrt5) = 0.6$.
- *Hutchinson*: $H = \begin{pmatrix} 2 & -1 \\ -1 & 3 \end{pmatrix}$. $z = (1, 1)$ gives $Hz = (1, 2)$, so $(1, 2)$;
  $z = (1, -1)$ gives $Hz = (3, -4)$, so $(3, 4)$. The mean is $(2, 3)$, the variance 1.
- *AdaHessian* with $\beta = (\tfrac12, \tfrac34)$, $\rho = 1$: $g = 3$, $d = -2$ make $m = 1.5$, $v = 1$, corrected 3
  and 4: $u = -1.5$ (and $-3/\sqrt2 = -2.12$ for $\rho = \tfrac12$). Then $g = 4$, $d = 1$: $m = 2.75$, corrected 3.667;
  $v = 1$, corrected 2.286: $u = -3.667/1.512 = -2.425$.

## Plan

- `inverse_root` takes a matrix, $p$ and $\varepsilon$ and returns (6).
- `gram` takes a tensor and an axis and returns $\operatorname{mat}_i(G) \operatorname{mat}_i(G)^\top$.
- `mode_product` takes a tensor, a matrix and an axis and returns (5).
- `shampoo` takes a state and a gradient and returns the next state and the update, by (4).
- `hutchinson` takes a product with $H$ and probes and returns the mean of $z \circ Hz$.
- `spatial_average` takes a diagonal and a block and returns (9).
- `adahessian` takes a state, a gradient and a diagonal and returns the next state and the update, by (10).
- `minimize` walks by AdaHessian, with fresh signs in every step. Its first state is that of `optim/adaptive`'s
  `at_rest(AdamState, x)`.

Given are `at_rest`, Shampoo's state before the first step, and `rademacher`, which draws signs.

## Pitfalls

- For a vector the updates shrink too slowly, and for a tensor with three axes too.
- NaN, and only for matrices of low rank.
- All is well for square matrices.
- The diagonal comes out right on average, and so noisy that it is of no use.
- Negative curvatures cancel positive ones in the average.
- It agrees with Adam in the first step and in no other.

## Cost

Shampoo: a matrix of order $n_i$ for each axis, $O(n_i^2)$ to keep, $O(n_i \prod n)$ to update and to apply, and
$O(n_i^3)$ for its root, which one refreshes only now and then in practice; we do at every step. AdaHessian: as much
memory as Adam, and one product with the Hessian for each probe, which costs as much as two gradients.

## Go further

- *Experiment*: in a network's layer, plot the singular values of Adam's and of Shampoo's updates.
- *Stretch*: replace the sums in (2) by averages that forget, and add momentum: that is closer to what is used today
  [4]. With the last gradient alone and (7) computed without roots, it is called Muon.

## References

1. Gupta, Koren & Singer (2018), Shampoo: preconditioned stochastic tensor optimization,
   https://arxiv.org/abs/1802.09568
2. Bekas, Kokiopoulou & Saad (2007), An estimator for the diagonal of a matrix,
   https://doi.org/10.1016/j.apnum.2007.01.003
3. Yao et al. (2021), AdaHessian: an adaptive second order optimizer for machine learning,
   https://arxiv.org/abs/2006.00719
4. Anil et al. (2020), Scalable second order optimization for deep learning, https://arxiv.org/abs/2002.09018
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim import adaptive
from mlpath.optim._shared import Gradient, HessianProduct, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.adaptive import AdamState, bias_correction
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping


@dataclass(frozen=True)
class ShampooState:
    r"""The sums over all steps in (4), without $\varepsilon$, one matrix for each axis."""

    grams: tuple[Float[np.ndarray, "n n"], ...]


def inverse_root(matrix: Float[np.ndarray, "n n"], order: int, *, eps: float) -> Float[np.ndarray, "n n"]:
    r"""Return the inverse root of a symmetric, positive semidefinite matrix plus a multiple of the identity: (6).

    Parameters
    ----------
    matrix : ndarray
        The matrix $M$, which may be singular. It is not changed.
    order : int
        The order $p$ of the root, at least 1.
    eps : float
        The multiple $\varepsilon$; positive.

    Returns
    -------
    ndarray
        $(M + \varepsilon I)^{-1/p}$, symmetric. Eigenvalues below zero count as zero.

    Raises
    ------
    ValueError
        If `matrix` is not square and finite, `order` is below 1, or `eps` is not positive and finite.

    Examples
    --------
    >>> inverse_root(np.array([[16.0, 0.0], [0.0, 81.0]]), 4, eps=1e-12).round(4)
    array([[0.5   , 0.    ],
           [0.    , 0.3333]])
    """
    # given: the checks
    _check_root(matrix, order)
    _check_positive(eps=eps)
    # yours
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * (np.maximum(values, 0) + eps) ** (-1 / order)) @ vectors.T


def gram(tensor: Float[np.ndarray, "*shape"], axis: int) -> Float[np.ndarray, "n n"]:
    r"""Return the products of a tensor's slices along an axis with each other, as (4) adds them up.

    That is $\operatorname{mat}_i(G) \operatorname{mat}_i(G)^\top$.

    Parameters
    ----------
    tensor : ndarray
        The tensor $G$, with at least one axis.
    axis : int
        Which axis, from 0.

    Returns
    -------
    ndarray
        The sums over all other axes; for a vector its outer product with itself.

    Raises
    ------
    ValueError
        If `tensor` has no such `axis`.

    Examples
    --------
    >>> gram(np.array([[0.0, 4.0], [1.0, 0.0], [2.0, 2.0]]), 1)
    array([[ 5.,  4.],
           [ 4., 20.]])
    """
    # given: the check
    _check_axis(tensor, axis)
    # yours
    rows = np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1)
    return rows @ rows.T


def mode_product(
    tensor: Float[np.ndarray, "*shape"], matrix: Float[np.ndarray, "m n"], axis: int
) -> Float[np.ndarray, "..."]:
    """Multiply a tensor by a matrix along an axis: equation (5).

    Parameters
    ----------
    tensor : ndarray
        The tensor $G$.
    matrix : ndarray
        The matrix $M$, with as many columns as the axis is long.
    axis : int
        Which axis, from 0.

    Returns
    -------
    ndarray
        The product, whose axis is as long as the matrix has rows.

    Raises
    ------
    ValueError
        If `tensor` has no such `axis`, or `matrix` does not fit it.

    Examples
    --------
    >>> mode_product(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([[10.0, 1.0]]), 1)
    array([[12.],
           [34.],
           [56.]])
    """
    # given: the checks
    _check_axis(tensor, axis)
    if matrix.ndim != 2 or matrix.shape[1] != tensor.shape[axis]:
        raise ValueError(f"matrix must have {tensor.shape[axis]} columns for axis {axis}, got shape {matrix.shape}")
    # yours
    return np.moveaxis(np.tensordot(matrix, tensor, axes=(1, axis)), 0, axis)


def at_rest(like: Float[np.ndarray, "*shape"]) -> ShampooState:  # given
    """Return Shampoo's state before the first step: zeros.

    Parameters
    ----------
    like : ndarray
        The parameters, whose shape and dtype count.

    Returns
    -------
    ShampooState
        The state.

    Examples
    --------
    >>> [matrix.shape for matrix in at_rest(np.ones((2, 3))).grams]
    [(2, 2), (3, 3)]
    """
    return ShampooState(tuple(np.zeros((n, n), dtype=like.dtype) for n in like.shape))


def shampoo(
    state: ShampooState, gradient: Float[np.ndarray, "*shape"], *, step_size: float = 1e-1, eps: float = 1e-6
) -> tuple[ShampooState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of Shampoo, by equation (4).

    Parameters
    ----------
    state : ShampooState
        The state after the step before. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape, with $k \ge 1$ axes.
    step_size : float
        The step size $a$.
    eps : float
        The multiple $\varepsilon$ of the identity in each axis' matrix.

    Returns
    -------
    tuple of ShampooState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, or `gradient` is not finite or does not fit the state.

    Examples
    --------
    >>> gradient = np.array([[0.0, 4.0], [1.0, 0.0]])
    >>> state, update = shampoo(at_rest(gradient), gradient, step_size=1.0, eps=1e-12)
    >>> state, update = shampoo(state, np.array([[0.0, 3.0], [0.0, 0.0]]), step_size=1.0, eps=1e-12)
    >>> update.round(4) + 0.0
    array([[ 0. , -0.6],
           [ 0. ,  0. ]])
    """
    # given: the checks
    _check_positive(step_size=step_size, eps=eps)
    _check_state(state, gradient)
    # yours
    grams = tuple(old + gram(gradient, axis) for axis, old in enumerate(state.grams))
    update = -step_size * gradient
    for axis, matrix in enumerate(grams):
        update = mode_product(update, inverse_root(matrix, 2 * len(grams), eps=eps), axis)
    return ShampooState(grams), update


def rademacher(  # given
    n_probes: int, like: Float[np.ndarray, "*shape"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n_probes *shape"]:
    """Draw probes of independent signs.

    Parameters
    ----------
    n_probes : int
        How many.
    like : ndarray
        The parameters, whose shape and dtype count.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The probes, along a new first axis, each entry 1 or -1 with probability one half.

    Examples
    --------
    >>> rademacher(3, np.ones(2), rng=np.random.default_rng(0)).shape
    (3, 2)
    """
    return (2 * rng.integers(0, 2, size=(n_probes, *like.shape)) - 1).astype(like.dtype)


def hutchinson(
    product: Callable[[Float[np.ndarray, "*shape"]], Float[np.ndarray, "*shape"]],
    probes: Float[np.ndarray, "n_probes *shape"],
) -> Float[np.ndarray, "*shape"]:
    r"""Estimate a matrix's diagonal from products with it: the mean of $z \circ Hz$ in equation (8).

    Parameters
    ----------
    product : callable
        Takes an array of the parameters' shape and returns its product with $H$, of the same shape. It is called once
        for each probe.
    probes : ndarray
        Vectors $z$ of signs, along the first axis.

    Returns
    -------
    ndarray
        The estimate, of the parameters' shape.

    Raises
    ------
    ValueError
        If there are no `probes`, or `product` returns another shape.

    Examples
    --------
    >>> matrix = np.array([[2.0, -1.0], [-1.0, 3.0]])
    >>> hutchinson(lambda v: matrix @ v, np.array([[1.0, 1.0]]))
    array([1., 2.])
    >>> hutchinson(lambda v: matrix @ v, np.array([[1.0, 1.0], [1.0, -1.0]]))
    array([2., 3.])
    """
    # given: the checks
    product = _checked_product(product, probes)
    # yours
    return np.mean([z * product(z) for z in probes], axis=0, dtype=probes.dtype)


def spatial_average(diagonal: Float[np.ndarray, "*shape"], block: int) -> Float[np.ndarray, "*shape"]:
    """Replace each entry by the mean of its block: equation (9).

    Parameters
    ----------
    diagonal : ndarray
        Curvatures, whose entries count row by row (the last axis fastest). Not changed.
    block : int
        The length $b$ of a block, which divides the number of entries; 1 for no averaging.

    Returns
    -------
    ndarray
        The means, of the same shape.

    Raises
    ------
    ValueError
        If `block` is below 1 or does not divide the number of entries.

    Examples
    --------
    >>> spatial_average(np.array([[1.0, 3.0], [-4.0, 10.0]]), 2)
    array([[2., 2.],
           [3., 3.]])
    """
    # given: the check
    if block < 1 or diagonal.size % block:
        raise ValueError(f"block must be at least 1 and divide the {diagonal.size} entries, got {block}")
    # yours
    means = diagonal.reshape(-1, block).mean(axis=1)
    return np.repeat(means, block).reshape(diagonal.shape)


def adahessian(
    state: AdamState,
    gradient: Float[np.ndarray, "*shape"],
    diagonal: Float[np.ndarray, "*shape"],
    *,
    step_size: float = 1e-1,
    decays: tuple[float, float] = (0.9, 0.999),
    power: float = 1.0,
    eps: float = 1e-8,
) -> tuple[AdamState, Float[np.ndarray, "*shape"]]:
    r"""Take one step of AdaHessian, by equation (10).

    Parameters
    ----------
    state : AdamState
        The state after the step before, as Adam's. It is not changed.
    gradient : ndarray
        The gradient, of the parameters' shape.
    diagonal : ndarray
        The (averaged) diagonal of the Hessian, of any sign.
    step_size : float
        The step size $a$.
    decays : tuple of float
        $\beta_1$ and $\beta_2$, each at least 0 and below 1.
    power : float
        The power $\rho$, from 0 to 1.
    eps : float
        The guard, added to the power.

    Returns
    -------
    tuple of AdamState and ndarray
        The next state, and the update to be added to the parameters.

    Raises
    ------
    ValueError
        If `step_size` or `eps` is not positive and finite, a decay is not in [0, 1), `power` is not in [0, 1], or
        `gradient` or `diagonal` does not fit the state.

    Examples
    --------
    >>> state = AdamState(0, np.zeros(1), np.zeros(1))
    >>> options = {"step_size": 1.0, "decays": (0.5, 0.75)}
    >>> state, update = adahessian(state, np.array([3.0]), np.array([-2.0]), **options)
    >>> update.round(4)
    array([-1.5])
    >>> adahessian(state, np.array([4.0]), np.array([1.0]), **options)[1].round(4)
    array([-2.4253])
    """
    # given: the checks
    _check_positive(step_size=step_size, eps=eps)
    _check_rule(state, gradient, diagonal, decays, power)
    # yours
    count = state.count + 1
    first = decays[0] * state.first + (1 - decays[0]) * gradient
    second = decays[1] * state.second + (1 - decays[1]) * diagonal**2
    curvature = np.sqrt(bias_correction(second, decays[1], count)) ** power
    update = -step_size * bias_correction(first, decays[0], count) / (curvature + eps)
    return AdamState(count, first, second), update


def minimize(
    fun: Objective,
    grad: Gradient,
    hvp: HessianProduct,
    start: ArrayLike,
    *,
    n_probes: int = 1,
    block: int = 1,
    step_size: float = 1e-1,
    decays: tuple[float, float] = (0.9, 0.999),
    power: float = 1.0,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
    rng: np.random.Generator,
) -> OptimizeResult:
    """Minimise a function by AdaHessian.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    hvp : callable
        Takes a point and a vector, and returns the product of the second derivatives there with it.
    start : array_like
        Where to begin; not changed.
    n_probes : int
        How many vectors of signs are drawn in each step.
    block : int
        The length of the blocks in (9).
    step_size, decays, power : float and tuple of float
        Options of `adahessian`.
    tol : float
        The walk ends when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.
    rng : numpy.random.Generator
        Source of the signs.

    Returns
    -------
    OptimizeResult
        `message` is one of `optim/gradient_descent`'s `CONVERGED` (the only one of success), `DIVERGED` and
        `OUT_OF_STEPS`. `nfev` counts evaluations of `fun`, that at the start included.

    Raises
    ------
    ValueError
        If an argument is refused by `optim/gradient_descent`'s `check_arguments` or, in the first step, by `adahessian`
        or `spatial_average`, `n_probes` is below 1, or `grad` or `hvp` returns the wrong shape.

    Examples
    --------
    >>> curvatures, rng = np.array([1.0, 100.0]), np.random.default_rng(0)
    >>> result = minimize(
    ...     lambda x: x @ (curvatures * x) / 2,
    ...     lambda x: curvatures * x,
    ...     lambda x, v: curvatures * v,
    ...     [3.0, -4.0],
    ...     step_size=1.0,
    ...     decays=(0.0, 0.0),
    ...     rng=rng,
    ... )
    >>> result.nit, result.success
    (1, True)
    """
    # given: the checks
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    if n_probes < 1:
        raise ValueError(f"n_probes must be at least 1, got {n_probes}")
    grad, options = checked_gradient(grad), {"step_size": step_size, "decays": decays, "power": power}
    # yours
    state, path, nit, message = adaptive.at_rest(AdamState, x), [x], 0, None
    value, gradient = float(fun(x)), grad(x)
    for nit in range(max_iter + 1):
        message = stopping(value, gradient, nit, tol=tol, max_iter=max_iter)
        if message:
            break
        diagonal = hutchinson(lambda v, x=x: hvp(x, v), rademacher(n_probes, x, rng=rng))
        state, update = adahessian(state, gradient, spatial_average(diagonal, block), **options)
        x = x + update
        value, gradient = float(fun(x)), grad(x)
        if record_path:
            path.append(x)
    points = np.array(path) if record_path else None
    return OptimizeResult(x, value, nit, nit + 1, message == CONVERGED, str(message), points)


def _check_root(matrix: np.ndarray, order: int) -> None:  # given: argument checks
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"matrix must be finite, got {matrix}")
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}")


def _check_positive(**values: float) -> None:  # given: argument checks
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")


def _check_axis(tensor: np.ndarray, axis: int) -> None:  # given: argument checks
    if not 0 <= axis < tensor.ndim:
        raise ValueError(f"axis must be from 0 to {tensor.ndim - 1}, got {axis}")


def _check_state(state: ShampooState, gradient: np.ndarray) -> None:  # given: argument checks
    expected = tuple(len(matrix) for matrix in state.grams)
    if gradient.shape != expected or not expected:
        raise ValueError(f"gradient must have the shape {expected} of the state, got {gradient.shape}")
    if not np.isfinite(gradient).all():
        raise ValueError(f"gradient must be finite, got {gradient}")


def _checked_product(  # given: argument checks
    product: Callable[[np.ndarray], np.ndarray], probes: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    if not probes.size:
        raise ValueError(f"probes must be at least one, got shape {probes.shape}")

    def checked(z: Vector) -> Vector:
        result = np.asarray(product(z))
        if result.shape != z.shape:
            raise ValueError(f"product must return shape {z.shape}, got {result.shape}")
        return result

    return checked


def _check_rule(  # given: argument checks
    state: AdamState, gradient: np.ndarray, diagonal: np.ndarray, decays: tuple[float, float], power: float
) -> None:
    for name, array in (("gradient", gradient), ("diagonal", diagonal)):
        if array.shape != state.first.shape:
            raise ValueError(f"{name} must have the shape {state.first.shape} of the state, got {array.shape}")
    if not all(0 <= decay < 1 for decay in decays):
        raise ValueError(f"decays must be at least 0 and below 1, got {decays}")
    if not 0 <= power <= 1:
        raise ValueError(f"power must lie between 0 and 1, got {power}")
