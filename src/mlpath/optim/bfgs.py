r"""BFGS: learn the curvature from the gradients that one meets anyway.

## Idea

Newton's method divides the gradient by the second derivatives, and pays for it: they must be written down, computed and
factored. Yet every step tells something about them for nothing. The gradient at the new place differs from the old one
by the curvature times the move: so much is known along *one* direction. BFGS keeps a matrix that stands for the inverse
of the second derivatives, and after each step changes it as little as possible so that it agrees with what was just
seen. No system is ever solved, and in the end the walk converges nearly as fast as Newton's.

## Maths

Let $s = x_{k+1} - x_k$ be the move and $y = \nabla f(x_{k+1}) - \nabla f(x_k)$ the change of the gradient. By the mean
value theorem, $y = \bar G s$ where $\bar G$ is the second derivative averaged along the way. A matrix $H$ that stands
for the inverse should therefore satisfy the **secant equation**

$$H y = s . \tag{1}$$

If $H$ is to be positive definite, so that $-H \nabla f$ leads downhill, then (1) demands the **curvature condition**

$$y^\top s = y^\top H y > 0 . \tag{2}$$

It holds for every convex function, and for others after any step that satisfies Wolfe's conditions, because those ask
that the slope has risen. In floating point the sign alone is not enough: where $y^\top s$ is tiny beside $\|y\| \|s\|$
it is mostly rounding, and the step is better not learnt from. We ask for

$$y^\top s > \epsilon\, \|y\|\, \|s\| , \tag{3}$$

with $\epsilon = 10^{-10}$.

**The update.** Among all symmetric matrices that satisfy (1) there is one that is closest to the present $H$. In the
norm $\|W^{1/2} (\cdot) W^{1/2}\|_F$, with any positive definite $W$ that satisfies $W s = y$ (this makes distances
independent of the units of $x$), it is [1]

$$H_+ = \left(I - \frac{s y^\top}{y^\top s}\right) H \left(I - \frac{y s^\top}{y^\top s}\right)
  + \frac{s s^\top}{y^\top s} . \tag{4}$$

That (1) holds is seen at once: the bracket on the right takes $y$ to 0, and the last term takes it to $s$. And $H_+$ is
positive definite if $H$ is and (2) holds, for $v^\top H_+ v$ is the sum of two terms that are not negative, and vanish
together for $v = 0$ only. Multiplied out, with $u = H y$,

$$H_+ = H - \frac{u s^\top + s u^\top}{y^\top s}
  + \left(1 + \frac{y^\top u}{y^\top s}\right) \frac{s s^\top}{y^\top s} , \tag{5}$$

which costs a few passes over the matrix, where (4) as it stands would multiply matrices.

**The same for the matrix itself.** The inverse of (4), for $B = H^{-1}$, is [1]

$$B_+ = B - \frac{B s\, s^\top B}{s^\top B s} + \frac{y y^\top}{y^\top s} . \tag{6}$$

Methods for constraints need this form, and need it where (2) fails, because there the steps are not chosen by a line
search. **Powell's damping** [2] then puts in the place of $y$ the mixture

$$\tilde y = \theta\, y + (1 - \theta)\, B s, \qquad
  \theta = \begin{cases} 1 & \text{if } y^\top s \ge 0.2\, s^\top B s , \\[2pt]
  \dfrac{0.8\, s^\top B s}{s^\top B s - y^\top s} & \text{otherwise} , \end{cases} \tag{7}$$

so that $\tilde y^\top s \ge 0.2\, s^\top B s > 0$ always. Learning from $y = B s$ would change nothing, so damping is
caution: it believes the change only in part.

**Where to begin.** $H_0$ should have the right size, which nobody knows before the first step. So the first direction
is the negative gradient, with a first trial that moves by at most 1 (in the sum of absolute values), and when that step
is done, before the first update, $H$ is set to

$$H_0 = \frac{y^\top s}{y^\top y}\, I , \tag{8}$$

the right size along the direction just seen: $y^\top s / y^\top y$ lies between the inverses of the largest and the
smallest eigenvalue of $\bar G$. From then on the first trial of the line search is the step 1, which ends up being
taken always: without that there is no fast convergence.

**How fast.** On a quadratic, with exact line searches, the directions are conjugate, the walk ends after at most $n$
steps and $H$ is then the inverse of the second derivatives. In general, near a minimum with positive definite second
derivatives, the convergence is **superlinear** [1]: $\|x_{k+1} - x^*\| / \|x_k - x^*\|$ goes to 0. What this takes is
not that $H$ becomes right everywhere, but only that it is right along the steps that are made.

## Worked example

$H = I$, a move $s = (2, 1)$, a change $y = (3, 0)$. (2): $y^\top s = 6$. $u = H y = (3, 0)$, $y^\top u = 9$, so

$$H_+ = I - \frac16 \begin{pmatrix} 12 & 3 \\ 3 & 0 \end{pmatrix}
  + \frac{1 + 1.5}{6} \begin{pmatrix} 4 & 2 \\ 2 & 1 \end{pmatrix}
  = \begin{pmatrix} 0.6667 & 0.3333 \\ 0.3333 & 1.4167 \end{pmatrix} .$$

Check (1): $H_+ y = (2, 1)$. By (6) with $B = I$: $B s = s$ and $s^\top B s = 5$,
$B_+ = I - \frac15 \begin{pmatrix} 4 & 2 \\ 2 & 1 \end{pmatrix} + \frac16 \begin{pmatrix} 9 & 0 \\ 0 & 0 \end{pmatrix}
= \begin{pmatrix} 1.7 & -0.4 \\ -0.4 & 0.8 \end{pmatrix}$, which takes $s$ to $(3, 0) = y$, and is the inverse of $H_+$.
(8) would have been $6/9$.

*Damping*: the same $s$ and $B$ with $y = (-1, 1)$. $y^\top s = -1$ is below $0.2 \cdot 5 = 1$, so
$\theta = 0.8 \cdot 5 / (5 + 1) = 0.6667$, $\tilde y = 0.6667\,(-1, 1) + 0.3333\,(2, 1) = (0, 1)$, and indeed
$\tilde y^\top s = 1$.

## Plan

- `curvature_holds` takes a move and a change, and says whether (3) holds.
- `initial_scale` returns the factor in (8).
- `update_inverse` takes $H$, $s$ and $y$ and returns (5); `update_matrix` takes $B$ and returns (6).
- `damped_change` returns (7).
- `minimize` walks: a direction, a strong Wolfe line search, an update.

From `optim/line_search` come the given `Ray(fun, grad, x, direction, value=..., gradient=...)`, which is what a search
sees of the objective, and `strong_wolfe_search(ray, step_size=..., curvature=...)`. Its result has the `step_size`,
with `value` and `gradient` there, and `nfev`. A search without success may still have found a step that gains: it is
worth going; only a `step_size` of 0 is the end.

## Pitfalls

- The walk is right, and slow: every step asks for several trials, and none is of size 1.
- After some steps the line search refuses the direction.
- It converges, like gradient descent.
- It is quick on quadratics and stalls on Rosenbrock's valley.
- A thousand variables, and most of the time goes into products of matrices.

## Cost

An evaluation or two of $f$ and its gradient a step, and O(n²) for product and update: a few passes over the matrix, 8
MB for a thousand variables. Near the minimum the number of correct digits grows by more and more each step.

## Go further

- *Experiment*: start from $H_0 = I$ and from $H_0 = 10^4 I$ instead of (8) on an ill-conditioned quadratic, and plot
  the eigenvalues of $H$ times the Hessian over the steps. Which errors does BFGS correct quickly, too large ones or too
  small?
- *Stretch*: keep $s$ and $y$ of the last ten steps instead of the matrix, and compute $H \nabla f$ from these alone.

## References

1. Nocedal & Wright (2006), Numerical Optimization, chapter 6, https://doi.org/10.1007/978-0-387-40065-5
2. Powell (1978), A fast algorithm for nonlinearly constrained optimization calculations,
   https://doi.org/10.1007/BFb0067703
3. Broyden (1970), The convergence of a class of double-rank minimization algorithms,
   https://doi.org/10.1093/imamat/6.1.76
4. Fletcher (1970), A new approach to variable metric algorithms, https://doi.org/10.1093/comjnl/13.3.317
5. Goldfarb (1970), A family of variable-metric methods derived by variational means,
   https://doi.org/10.1090/S0025-5718-1970-0258249-6
6. Shanno (1970), Conditioning of quasi-Newton methods for function minimization,
   https://doi.org/10.1090/S0025-5718-1970-0274029-X
7. Dennis & Moré (1974), A characterization of superlinear convergence and its application to quasi-Newton methods,
   https://doi.org/10.1090/S0025-5718-1974-0343581-1
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, STALLED, check_arguments, stopping
from mlpath.optim.line_search import Ray, strong_wolfe_search

Matrix = Float[np.ndarray, "dim dim"]
Vector = Float[np.ndarray, " dim"]


def curvature_holds(
    move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"], *, threshold: float = 1e-10
) -> bool:
    r"""Return whether a step shows enough curvature to be learnt from, equation (3).

    Parameters
    ----------
    move, change : ndarray
        The move $s$, and the change $y$ of the gradient; of any representable length.
    threshold : float
        The least cosine $\epsilon$ of the angle between the two.

    Returns
    -------
    bool
        False also if one of them is zero or not finite.

    Examples
    --------
    >>> move = np.array([2.0, 1.0])
    >>> curvature_holds(move, np.array([3.0, 0.0])), curvature_holds(move, np.array([-1.0, 2.0]))
    (True, False)
    """
    with np.errstate(invalid="ignore"):  # nothing and what is not finite become NaN, of which no comparison is true
        s, y = move / abs(move).max(), change / abs(change).max()
        return bool(y @ s > threshold * np.linalg.norm(y) * np.linalg.norm(s))


def initial_scale(move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"]) -> float:
    """Return the factor that gives the first inverse its size, equation (8).

    Parameters
    ----------
    move, change : ndarray
        The first move $s$ and the change $y$ of the gradient, which satisfy (3); of any representable length.

    Returns
    -------
    float
        The factor, which is positive.

    Examples
    --------
    >>> print(f"{initial_scale(np.array([2.0, 1.0]), np.array([3.0, 0.0])):.4f}")
    0.6667
    """
    largest = abs(change).max()
    y = change / largest
    return float(y @ move / (y @ y) / largest)


def update_inverse(
    inverse: Float[np.ndarray, "dim dim"], move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "dim dim"]:
    """Return the matrix closest to the present one that takes the change to the move, equation (5).

    Parameters
    ----------
    inverse : ndarray
        The matrix $H$, symmetric and positive definite. It is not changed.
    move, change : ndarray
        The move $s$ and the change $y$ of the gradient, which satisfy (3); of any representable length.

    Returns
    -------
    ndarray
        The matrix $H_+$, symmetric to the last digit, and positive definite, in O(dim²) operations.

    Raises
    ------
    ValueError
        If `move` and `change` do not satisfy (3), or do not fit `inverse`.

    Examples
    --------
    >>> inverse = update_inverse(np.eye(2), np.array([2.0, 1.0]), np.array([3.0, 0.0]))
    >>> inverse.round(4)
    array([[0.6667, 0.3333],
           [0.3333, 1.4167]])
    """
    # given: the checks
    _check_pair(inverse, "inverse", move, change)
    # yours
    size, slope = abs(move).max(), abs(change).max()
    s, y = move / size, change / slope  # every term of (5) is a ratio, to which only size / slope remains to be added
    u = inverse @ y / (y @ s)
    outer = np.outer(u, s)
    return inverse - (outer + outer.T) + (size / slope + y @ u) / (y @ s) * np.outer(s, s)


def update_matrix(
    matrix: Float[np.ndarray, "dim dim"], move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "dim dim"]:
    """Return the matrix closest to the present one that takes the move to the change, equation (6).

    Parameters
    ----------
    matrix : ndarray
        The matrix $B$, symmetric and positive definite. It is not changed.
    move, change : ndarray
        The move $s$ and the change $y$ of the gradient, which satisfy (3); of any representable length.

    Returns
    -------
    ndarray
        The matrix $B_+$, symmetric to the last digit, and positive definite: the inverse of what `update_inverse` makes
        of the inverse of `matrix`.

    Raises
    ------
    ValueError
        If `move` and `change` do not satisfy (3), or do not fit `matrix`.

    Examples
    --------
    >>> update_matrix(np.eye(2), np.array([2.0, 1.0]), np.array([3.0, 0.0])).round(4)
    array([[ 1.7, -0.4],
           [-0.4,  0.8]])
    """
    # given: the checks
    _check_pair(matrix, "matrix", move, change)
    # yours
    size, slope = abs(move).max(), abs(change).max()
    s, y = move / size, change / slope
    bs = matrix @ s
    bs = bs / np.sqrt(s @ bs)
    return matrix - np.outer(bs, bs) + slope / size * (np.outer(y, y) / (y @ s))


def damped_change(
    matrix: Float[np.ndarray, "dim dim"], move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, " dim"]:
    """Return the change of the gradient, mixed with the one expected if it shows too little curvature: equation (7).

    Parameters
    ----------
    matrix : ndarray
        The matrix $B$, symmetric and positive definite.
    move, change : ndarray
        The move $s$ and the change $y$ of the gradient, whatever their angle; of any representable length.

    Returns
    -------
    ndarray
        A change from which `update_matrix` can learn: `change` itself if that shows enough curvature. A new array.

    Raises
    ------
    ValueError
        If `move` is zero, `move` or `change` is not finite, or they do not fit `matrix`.

    Examples
    --------
    >>> print(damped_change(np.eye(2), np.array([2.0, 1.0]), np.array([-1.0, 1.0])).round(4))
    [0. 1.]
    """
    # given: the checks
    _check_shapes(matrix, "matrix", move, change)
    if not (np.isfinite(move).all() and np.isfinite(change).all() and move.any()):
        raise ValueError(f"move and change must be finite, and move not zero, got {move} and {change}")
    # yours
    s = move / abs(move).max()
    expected = matrix @ move
    share, seen = expected @ s, change @ s
    theta = 1.0 if seen >= 0.2 * share else 0.8 * share / (share - seen)
    return theta * change + (1 - theta) * expected


def learn(
    inverse: Float[np.ndarray, "dim dim"] | None, move: Float[np.ndarray, " dim"], change: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "dim dim"] | None:
    """Return what is known of the inverse after a step.

    Parameters
    ----------
    inverse : ndarray or None
        What was known before; None if nothing was. It is not changed.
    move, change : ndarray
        The move $s$ and the change $y$ of the gradient.

    Returns
    -------
    ndarray or None
        `inverse` itself, if the step does not satisfy (3). Otherwise its update (5), which begins at (8) if nothing was
        known.

    Examples
    --------
    >>> learn(None, np.array([2.0, 1.0]), np.array([-1.0, 2.0])) is None
    True
    >>> print(learn(None, np.array([2.0, 1.0]), np.array([3.0, 0.0])).round(4))
    [[0.6667 0.3333]
     [0.3333 1.    ]]
    """
    if not curvature_holds(move, change):
        return inverse
    if inverse is None:
        inverse = initial_scale(move, change) * np.eye(len(move), dtype=move.dtype)
    return update_inverse(inverse, move, change)


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    curvature: float = 0.9,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Minimise a function by BFGS with a strong Wolfe line search.

    The first direction is the negative gradient, and so is each as long as no step satisfied (3). The first trial along
    it is the smaller of 1 and one over the sum of its absolute values; along all other directions it is 1.

    Parameters
    ----------
    fun, grad : callable
        The objective and its gradient.
    start : array_like
        Where to begin; not changed.
    curvature : float
        The share of the slope that a line search may leave: Wolfe's constant $c_2$, between 1e-4 and 1.
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
        If an argument is refused by `check_arguments`, `curvature` by the line search, or `grad` returns the wrong
        shape.

    Examples
    --------
    >>> result = minimize(
    ...     lambda x: (x[0] - 1) ** 2 + x[1] ** 4, lambda x: np.array([2 * x[0] - 2, 4 * x[1] ** 3]), [3, 2]
    ... )
    >>> result.success, result.nit < 40, bool(abs(result.x - [1, 0]).max() < 0.01)
    (True, True, True)
    """
    # given: the checks
    x, grad = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter), checked_gradient(grad)
    # yours
    value, gradient, nit, nfev, path, inverse = float(fun(x)), grad(x), 0, 1, [x], None
    while (message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter)) is None:
        direction = -gradient if inverse is None else -inverse @ gradient
        if not np.isfinite(gradient @ direction):
            message = DIVERGED
            break
        first = 1.0 if inverse is not None else min(1.0, 1 / float(abs(gradient).sum()))
        ray = Ray(fun, grad, x, direction, value=value, gradient=gradient)
        search = strong_wolfe_search(ray, step_size=first, curvature=curvature)
        nfev += search.nfev
        if search.step_size == 0:
            message = STALLED
            break
        inverse = learn(inverse, search.step_size * direction, search.gradient - gradient)
        x, value, gradient, nit = x + search.step_size * direction, search.value, search.gradient, nit + 1
        if record_path:
            path.append(x)
    return OptimizeResult(x, value, nit, nfev, message == CONVERGED, message, np.array(path) if record_path else None)


def _check_shapes(matrix: Matrix, name: str, move: Vector, change: Vector) -> None:  # given: argument checks
    """Raise a ValueError unless a move and a change fit a square matrix."""
    dim = np.size(move)
    if np.shape(move) != (dim,) or np.shape(change) != (dim,) or np.shape(matrix) != (dim, dim):
        raise ValueError(
            f"{name}, move and change must have shapes (n, n), (n,) and (n,), "
            f"got {np.shape(matrix)}, {np.shape(move)} and {np.shape(change)}"
        )


def _check_pair(matrix: Matrix, name: str, move: Vector, change: Vector) -> None:  # given: argument checks
    """Raise a ValueError unless a matrix can learn from a step."""
    _check_shapes(matrix, name, move, change)
    if not curvature_holds(move, change):
        raise ValueError(f"move and change must satisfy the curvature condition (3), got {move} and {change}")
