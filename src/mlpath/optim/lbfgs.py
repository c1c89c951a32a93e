r"""L-BFGS: quasi-Newton steps from a memory of the last few moves.

## Idea

BFGS keeps a matrix, and a matrix of a million variables fits into no computer. But it is not the matrix that is wanted:
it is one product with it, the direction. The matrix was made from a first guess by one update after the other, and each
update was made of two vectors, so the product can be made from these vectors directly, oldest to newest and back. Keep
only the last ten pairs of them, forget the rest, and a step costs some forty passes over vectors instead of
passes over a matrix. What was seen long ago described another place anyway. This is the method that fits logistic
regressions, and most smooth models of classical machine learning.

## Maths

A step made the move $s = x_{k+1} - x_k$ and changed the gradient by $y = \nabla f(x_{k+1}) - \nabla f(x_k)$, with
$y^\top s > 0$. BFGS then takes, with $\rho = 1 / y^\top s$ and $V = I - \rho\, y s^\top$,

$$H_+ = V^\top H V + \rho\, s s^\top . \tag{1}$$

**Unrolled.** Let $(s_1, y_1), \dots, (s_m, y_m)$ be the pairs in memory, the newest last, and $H_0$ the matrix before
all of them. Applying (1) again and again,

$$H = V_m^\top \cdots V_1^\top H_0 V_1 \cdots V_m + \sum_{i=1}^m \rho_i\, (V_m^\top \cdots V_{i+1}^\top)\, s_i s_i^\top\,
(V_{i+1} \cdots V_m) . \tag{2}$$

Multiply it with a vector $g$. From the right, first $V_m$ acts on $g$, then $V_{m-1}$ on the result, and so on. Call
what is there after all from $m$ down to $i$ the vector $q_i$, with $q_{m+1} = g$; each needs one number:

$$\alpha_i = \rho_i\, s_i^\top q_{i+1}, \qquad q_i = q_{i+1} - \alpha_i\, y_i \qquad (i = m, \dots, 1) . \tag{3}$$

These $\alpha_i$ are at the same time what the terms of the sum in (2) begin with: the $i$-th is
$(V_m^\top \cdots V_{i+1}^\top)\, s_i\, \alpha_i$. Now go back. Begin with $r = H_0 q_1$, and let $V_i^\top$ act, and
add the $i$-th term, before the next:

$$r \leftarrow r - \rho_i\, (y_i^\top r)\, s_i + \alpha_i\, s_i \qquad (i = 1, \dots, m) . \tag{4}$$

At the end $r = H g$. This is the **two-loop recursion** [1]: $4 m$ products of vectors, and no matrix.

**The first guess.** $H_0$ may be another one in each step, as nothing of it is stored. The best that costs nothing has
the size that the *newest* pair shows [2]:

$$H_0 = \gamma I, \qquad \gamma = \frac{y_m^\top s_m}{y_m^\top y_m} , \tag{5}$$

and $\gamma = 1$ while the memory is empty, so that the first direction is the negative gradient. With (5) the step of
size 1 is nearly always accepted, which is what makes the method cheap: one evaluation a step.

**What is lost.** The convergence is no longer superlinear, since ten pairs do not describe all of a large matrix, but
linear with a good factor. On a quadratic, with exact line searches, the walk is the same as that of BFGS, and of
conjugate gradients, even with $m = 1$.

**Pairs that teach nothing.** Only those are kept that satisfy
$y^\top s > \epsilon \|y\| \|s\|$, as in BFGS, and whose product can be divided by.

## Worked example

One pair, $s = (2, 1)$ and $y = (3, 0)$: $y^\top s = 6$, $\rho = 1/6$, and $\gamma = 6/9 = 2/3$ by (5). Take
$g = (1, 2)$.

- (3): $\alpha = \tfrac16 (2 + 2) = \tfrac23$, and $q = (1, 2) - \tfrac23 (3, 0) = (-1, 2)$.
- $r = \tfrac23\, q = (-\tfrac23, \tfrac43)$.
- (4): $\rho\, y^\top r = \tfrac16 (-2) = -\tfrac13$, so
  $r \leftarrow r + (\tfrac13 + \tfrac23)\,(2, 1) = (\tfrac43, \tfrac73)$.

The matrix itself, by (1) from $\tfrac23 I$, is
$\begin{pmatrix} 0.6667 & 0.3333 \\ 0.3333 & 1 \end{pmatrix}$: its product with $(1, 2)$ is $(1.3333, 2.3333)$.

## Plan

- `remember` takes a memory, a move and a change, and returns the memory with the new pair, without the oldest if it is
  full.
- `first_factor` takes a memory and returns $\gamma$ of (5).
- `two_loop` takes a memory and a gradient and returns $H g$ by (3) and (4).
- `as_matrix` takes a memory and writes down $H$ itself, by (1): for looking at it in few dimensions.
- `minimize` walks: a direction, a step, a pair. What a search sees is the `Ray` of `optim/line_search`, with value and
  gradient handed over; the given `_search` returns the step size (0 if no step gains), value and gradient there, and
  `nfev`.

## Pitfalls

- It is right with one pair in memory, and wrong with two.
- The direction leads uphill, or nothing changes from step to step.
- It is slower than gradient descent: each step needs many trials.
- The memory grows from step to step, or it remembers the first ten pairs for ever.
- All pairs are the same: were their vectors changed after they had been stored?

## Cost

With $n$ variables and $m$ pairs: $2 m n$ numbers of memory and $4 m n$ multiplications a step, beside one or two
evaluations. A million variables and ten pairs: 160 MB and some 80 ms. For few variables the loops in Python cost more
than the numbers: some 100 µs a step.

## Go further

- *Experiment*: minimise `rosenbrock(1000)` with memories of 1, 3, 10, 30 and 100 pairs. Count evaluations, and measure
  the time. Where is the best trade?
- *Stretch*: train a small network on whole batches with L-BFGS and with Adam, and compare the loss per second. Then do
  it with minibatches: what goes wrong, and how could pairs be chosen that are not noise?

## References

1. Nocedal (1980), Updating quasi-Newton matrices with limited storage,
   https://doi.org/10.1090/S0025-5718-1980-0572855-7
2. Liu & Nocedal (1989), On the limited memory BFGS method for large scale optimization,
   https://doi.org/10.1007/BF01589116
3. Nocedal & Wright (2006), Numerical Optimization, chapter 7, https://doi.org/10.1007/978-0-387-40065-5
4. Byrd, Lu, Nocedal & Zhu (1995), A limited memory algorithm for bound constrained optimization,
   https://doi.org/10.1137/0916069
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.bfgs import curvature_holds, initial_scale, update_inverse
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, STALLED, check_arguments, stopping
from mlpath.optim.line_search import Ray, SearchResult, strong_wolfe_search


@dataclass(frozen=True)
class Memory:
    """The last pairs of moves and changes of the gradient, the newest last.

    Attributes
    ----------
    moves, changes : tuple of ndarray
        The vectors $s_i$ and $y_i$.
    """

    moves: tuple[Float[np.ndarray, " dim"], ...] = ()
    changes: tuple[Float[np.ndarray, " dim"], ...] = ()


def remember(
    memory: Memory, move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"], *, size: int = 10
) -> Memory:
    """Return the memory with one more pair, if that teaches something, and at most so many of the newest.

    Parameters
    ----------
    memory : Memory
        What was known before. It is not changed.
    move, change : ndarray
        The move $s$, and the change $y$ of the gradient.
    size : int
        How many pairs are kept at most, the number $m$.

    Returns
    -------
    Memory
        `memory` itself if the pair does not satisfy `curvature_holds`, or if its product is 0 in floating point. It
        holds the vectors themselves, not copies.

    Raises
    ------
    ValueError
        If `size` is below 1.

    Examples
    --------
    >>> memory = remember(Memory(), np.array([2.0, 1.0]), np.array([3.0, 0.0]))
    >>> len(memory.moves), len(remember(memory, np.array([2.0, 1.0]), np.array([-1.0, 2.0])).moves)
    (1, 1)
    """
    # given: the check
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    # yours
    if not (curvature_holds(move, change) and change @ move > 0):
        return memory
    return Memory((*memory.moves, move)[-size:], (*memory.changes, change)[-size:])


def first_factor(memory: Memory) -> float:
    r"""Return the factor $\gamma$ of the first guess, equation (5).

    Parameters
    ----------
    memory : Memory
        The pairs.

    Returns
    -------
    float
        1 if there are none.

    Examples
    --------
    >>> print(f"{first_factor(Memory((np.array([2.0, 1.0]),), (np.array([3.0, 0.0]),))):.4f}")
    0.6667
    """
    if not memory.moves:
        return 1.0
    return initial_scale(memory.moves[-1], memory.changes[-1])


def two_loop(memory: Memory, gradient: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:
    """Return the product of the matrix (2) with a vector, by equations (3) and (4).

    Parameters
    ----------
    memory : Memory
        The pairs.
    gradient : ndarray
        The vector $g$. It is not changed.

    Returns
    -------
    ndarray
        The product $H g$, a new array, in O(size x dim) operations and memory.

    Examples
    --------
    >>> two_loop(Memory((np.array([2.0, 1.0]),), (np.array([3.0, 0.0]),)), np.array([1.0, 2.0])).round(4)
    array([1.3333, 2.3333])
    """
    pairs, shares, product = list(zip(memory.moves, memory.changes, strict=True)), [], gradient
    for move, change in reversed(pairs):
        shares.append((move @ product) / (change @ move))
        product = product - shares[-1] * change
    product = first_factor(memory) * product
    for (move, change), share in zip(pairs, reversed(shares), strict=True):
        product += (share - (change @ product) / (change @ move)) * move
    return product


def as_matrix(memory: Memory, dim: int) -> Float[np.ndarray, "dim dim"]:
    """Return the matrix that `two_loop` multiplies with, by equations (1) and (5).

    Parameters
    ----------
    memory : Memory
        The pairs.
    dim : int
        The number of variables.

    Returns
    -------
    ndarray
        The matrix $H$, in double precision.

    Examples
    --------
    >>> as_matrix(Memory((np.array([2.0, 1.0]),), (np.array([3.0, 0.0]),)), 2).round(4)
    array([[0.6667, 0.3333],
           [0.3333, 1.    ]])
    """
    matrix = first_factor(memory) * np.eye(dim)
    for move, change in zip(memory.moves, memory.changes, strict=True):
        matrix = update_inverse(matrix, move, change)
    return matrix


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    size: int = 10,
    rule: Literal["strong_wolfe", "fixed"] = "strong_wolfe",
    step_size: float = 1.0,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a function by L-BFGS.

    Each step goes along $-H g$. Its first trial is `step_size`; while the memory is empty, it is `step_size` times the
    smaller of 1 and one over the sum of the gradient's absolute values.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    size : int
        How many pairs are remembered at most.
    rule : {"strong_wolfe", "fixed"}
        Whether a line search goes on from the first trial, or that is taken as it is.
    step_size : float
        The first trial, or the step: 1 unless there is a reason.
    tol : float
        Converged when no component of the gradient exceeds it.
    max_iter : int
        The largest number of steps.
    record_path : bool
        Whether to keep the points of the walk.

    Returns
    -------
    OptimizeResult
        With the fields and messages of `gradient_descent.minimize`; `STALLED` if a line search found no step that
        gains, `DIVERGED` also if the slope is too large for a float.

    Raises
    ------
    ValueError
        If an argument is refused by `check_arguments`, `size` is below 1, `rule` is unknown, or `grad` returns the
        wrong shape.

    Examples
    --------
    >>> result = minimize(lambda x: x @ x * (x @ x), lambda x: 4 * (x @ x) * x, np.ones(1000))
    >>> result.success, result.nit < 60
    (True, True)
    """
    # given: the checks
    x, grad = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter), checked_gradient(grad)
    if size < 1 or rule not in ("strong_wolfe", "fixed"):
        raise ValueError(f"size must be at least 1, rule 'strong_wolfe' or 'fixed', got {size} and {rule!r}")
    # yours
    value, gradient, nit, nfev, path, memory = float(fun(x)), grad(x), 0, 1, [x], Memory()
    while (message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter)) is None:
        direction = -two_loop(memory, gradient)
        if not np.isfinite(gradient @ direction):
            message = DIVERGED
            break
        first = step_size if memory.moves else step_size * min(1.0, 1 / float(abs(gradient).sum()))
        search = _search(Ray(fun, grad, x, direction, value=value, gradient=gradient), rule, first)
        nfev += search.nfev
        if search.step_size == 0:
            message = STALLED
            break
        memory = remember(memory, search.step_size * direction, search.gradient - gradient, size=size)
        x, value, gradient, nit = x + search.step_size * direction, search.value, search.gradient, nit + 1
        if record_path:
            path.append(x)
    return OptimizeResult(x, value, nit, nfev, message == CONVERGED, message, np.array(path) if record_path else None)


def _search(ray: Ray, rule: str, first: float) -> SearchResult:  # given: both rules
    """Return the step that a rule takes along a ray."""
    if rule == "strong_wolfe":
        return strong_wolfe_search(ray, step_size=first)
    return ray.result(ray.at(first), True)
