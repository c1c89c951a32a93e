r"""Linear conjugate gradients: solve a system whose matrix you can only multiply with.

## Idea

To solve $A x = b$ with a positive definite $A$ is to find the bottom of a bowl. Steepest descent zigzags down to it,
since each step spoils what the steps before have achieved. Choose the directions so that they do not get in each
other's way, *conjugate* directions, and every step settles its direction for good: after $n$ steps nothing is left to
do. The wonder is that such directions cost next to nothing. If each new one is made of the present residual, it need
only be corrected for the last direction, and is then conjugate to all of them. One product with $A$ a step, four
vectors of memory, and long before $n$ steps the answer is good to many digits.

## Maths

**A bowl.** Let $A$ be symmetric and positive definite, $x^\star = A^{-1} b$ and

$$\phi(x) = \tfrac12 x^\top A x - b^\top x, \qquad -\nabla \phi(x) = b - A x = r . \tag{1}$$

The residual $r$ is the direction of steepest descent. How far above the bottom one stands is measured by the *energy
norm*, in which $\phi(x) - \phi(x^\star) = \tfrac12 \|x - x^\star\|_A^2$:

$$\|v\|_A = \sqrt{v^\top A v} . \tag{2}$$

Along a direction $d$ from $x$, $\phi$ is a parabola, which is least at $x + \alpha d$ with

$$\alpha = \frac{r^\top d}{d^\top A d} . \tag{3}$$

**Conjugate directions.** Two directions are conjugate if $d_i^\top A d_j = 0$: orthogonal in the inner product that
belongs to (2). From any independent vectors $v_0, v_1, \dots$ Gram and Schmidt make conjugate ones in this inner
product, which take from each vector its parts along the directions before:

$$d_i = v_i - \sum_{j < i} \frac{d_j^\top A v_i}{d_j^\top A d_j}\, d_j . \tag{4}$$

**Why $n$ steps suffice.** Write $x^\star - x_0 = \sum_j \alpha_j d_j$ with $n$ conjugate directions, and multiply by
$d_i^\top A$. One term is left,

$$\alpha_i = \frac{d_i^\top (b - A x_0)}{d_i^\top A d_i} = \frac{d_i^\top r_i}{d_i^\top A d_i} , \tag{5}$$

where the second form holds as $r_i = r_0 - \sum_{j<i} \alpha_j A d_j$ differs from $r_0$ by what $d_i$ does not see.
That is the step of (3): $n$ exact line searches along conjugate directions, one after the other, find $x^\star$. And
after $k$ of them $r_k$ is orthogonal to $d_0, \dots, d_{k-1}$: the point is the best in the whole space that they span.

**Conjugate gradients** [1] take $v_k = r_k$ in (4). The spaces are then the *Krylov spaces*, spanned by
$r_0, A r_0, \dots, A^{k-1} r_0$. Since $A d_j$ lies in the one of dimension $j + 2$, and $r_{k+1}$ is orthogonal to
that of dimension $k + 1$, all terms of (4) with $j < k$ vanish. In the last one, $A d_k = (r_k - r_{k+1}) / \alpha_k$,
which is orthogonal to $r_{k+1}$ in its first part. With $r_k^\top d_k = r_k^\top r_k$ one step becomes

$$\alpha_k = \frac{r_k^\top r_k}{d_k^\top A d_k}, \qquad x_{k+1} = x_k + \alpha_k d_k, \qquad
r_{k+1} = r_k - \alpha_k A d_k , \tag{6}$$

$$\beta_k = \frac{r_{k+1}^\top r_{k+1}}{r_k^\top r_k}, \qquad d_{k+1} = r_{k+1} + \beta_k d_k , \qquad
d_0 = r_0 . \tag{7}$$

**How fast.** The error after $k$ steps is $p(A)(x_0 - x^\star)$ for a polynomial $p$ of degree $k$ with $p(0) = 1$, and
none has a smaller energy norm. So any such polynomial bounds it:

$$\frac{\|x_k - x^\star\|_A}{\|x_0 - x^\star\|_A} \le \min_{p}\ \max_i |p(\lambda_i)| . \tag{8}$$

If $A$ has only $m$ *distinct* eigenvalues, one of degree $m$ vanishes at all of them: $m$ steps suffice. And for
eigenvalues anywhere between $\lambda_{\min}$ and $\lambda_{\max} = \kappa \lambda_{\min}$, a Chebyshev polynomial,
scaled and shifted to that interval, gives

$$\frac{\|x_k - x^\star\|_A}{\|x_0 - x^\star\|_A} \le
2 \left(\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}\right)^k , \tag{9}$$

where steepest descent has $\kappa$ in place of its root.

**Preconditioning.** Let $M$ be a positive definite matrix that resembles $A$, and for which $M z = r$ is easily solved.
With $M = C C^\top$, apply (6) and (7) to $C^{-1} A C^{-\top} y = C^{-1} b$, whose eigenvalues are those of $M^{-1} A$,
and write the result in $x = C^{-\top} y$. $C$ drops out:

$$z_k = M^{-1} r_k, \qquad r^\top z \text{ for } r^\top r \text{ in (6) and (7)}, \qquad
d_{k+1} = z_{k+1} + \beta_k d_k, \qquad d_0 = z_0 . \tag{10}$$

*Jacobi* takes the diagonal of $A$ for $M$. An *incomplete Cholesky* factorisation [2] takes $M = L L^\top$ with a lower
triangle $L$ that is zero wherever $A$ is. It goes like the complete one, column by column: at column $k$

$$l_{kk} = \sqrt{a_{kk}}, \qquad l_{ik} = a_{ik} / l_{kk} \ \ (i > k), \qquad
a_{ij} \leftarrow a_{ij} - l_{ik} l_{jk} \ \ (i \ge j > k \text{ and } a_{ij} \ne 0 \text{ in the matrix given}) .
\tag{11}$$

What would fill a zero is dropped. For a positive definite matrix it may happen that $a_{kk}$ is not positive at its
turn: then there is no such factor.

**When to stop, and what to believe.** The method stops when $\|r_k\| \le \text{tol} \cdot \|b\|$. But (6) only *carries
forward* the residual: each step adds its rounding to $x_k$ and to $r_k$ separately, and the $r_k$ of (6) may fall to
$10^{-100}$ while

$$\|b - A x_k\| \tag{12}$$

stays at $\varepsilon \|A\| \max_j \|x_j\|$. So compute (12) once at the end. And a direction with

$$d_k^\top A d_k \le 0 \tag{13}$$

proves that $A$ is not positive definite. Along it $\phi$ has no bottom, or none at one place. It is no accident to be
hidden: methods that minimise functions with saddles look for such directions.

## Worked example

$A = \begin{pmatrix} 2 & 1 \\ 1 & 3 \end{pmatrix}$, $b = (3, -1)$, from $x_0 = 0$.

- $r_0 = d_0 = (3, -1)$ and $A d_0 = (5, 0)$. So $\alpha_0 = 10/15 = 2/3$, $x_1 = (2, -2/3)$ and
  $r_1 = (3, -1) - \tfrac23 (5, 0) = (-1/3, -1)$, orthogonal to $r_0$.
- $\beta_0 = (10/9)/10 = 1/9$ and $d_1 = (-1/3, -1) + \tfrac19 (3, -1) = (0, -10/9)$, with
  $A d_1 = (-10/9, -30/9)$. Conjugate to the first: $d_0^\top A d_1 = -30/9 + 30/9 = 0$.
- $\alpha_1 = (10/9) / (100/27) = 3/10$ and $x_2 = (2, -1)$, which solves the system: two steps for two unknowns.
- *Energy*: the errors $(2, -1)$, $(0, -1/3)$ and $0$ have $\|e\|_A^2 = 7, \tfrac13, 0$. The first step shrinks the
  norm by $\sqrt{1/21} = 0.218$. The eigenvalues are $(5 \pm \sqrt 5)/2$, so $\kappa = 2.618$, its root is $1.618$, and
  (9) allows $2 \cdot 0.618/2.618 = 0.472$.

## Plan

`matvec` is a function that takes a vector and returns its product with $A$; `precondition` takes $r$ and returns
$z = M^{-1} r$.

- `energy_norm` takes a vector and returns (2).
- `conjugate` takes vectors and returns conjugate directions, by (4).
- `begin` takes a system and a start and returns the first `State`, by (10).
- `advance` takes a state and the product of its direction with $A$, and returns the next, by (6), (7) and (10).
- `conjugate_gradient` puts them together, stops, and says why, by (12) and (13).
- `chebyshev_bound` returns the right side of (9).
- `jacobi` takes a diagonal and returns a preconditioner.
- `incomplete_cholesky` takes a matrix and returns the $L$ of (11).

Given are `identity`, the preconditioner that is none, and `substitution`, which makes a preconditioner of an $L$.

## Pitfalls

- It converges like steepest descent.
- It converges without a preconditioner, and wanders with one.
- The first step is right, and the second is not.
- With a matrix that is not quite symmetric it stagnates, and nothing warns.
- The residual says $10^{-12}$, the solution is good to $10^{-3}$.
- After $n$ steps it is not done: the directions have lost their conjugacy to rounding.

## Cost

One product with $A$ a step, one solution with $M$, and O(dim) besides. Memory: the four vectors of a state, and
what a step makes of them. About $\tfrac12 \sqrt\kappa \ln(2/\varepsilon)$ steps reduce the energy norm of the error by
$\varepsilon$. On the Laplacian of a square grid $\kappa$ grows with the number of unknowns, so the steps with its
root. This one makes new vectors where SciPy overwrites: the benchmark finds it to take 1.2 times as long as SciPy's for
10,000 unknowns, and 2.4 times for 90,000, whose vectors no longer stay in the cache.

## Go further

- *Experiment*: take a quadratic whose eigenvalues run from 1 to 2, and give it one more at 1000. How many steps does
  this one eigenvalue cost? And five of them, all different?
- *Stretch*: the $\alpha_k$ and $\beta_k$ hold the tridiagonal matrix of Lanczos' method. Put it together and watch its
  eigenvalues find those of $A$: CG computes $\kappa$ along the way.

## References

1. Hestenes & Stiefel (1952), Methods of conjugate gradients for solving linear systems,
   https://doi.org/10.6028/jres.049.044
2. Meijerink & van der Vorst (1977), An iterative solution method for linear systems of which the coefficient matrix is
   a symmetric M-matrix, https://doi.org/10.1090/S0025-5718-1977-0438681-4
3. Nocedal & Wright (2006), Numerical Optimization, chapter 5, https://doi.org/10.1007/978-0-387-40065-5
4. Greenbaum (1997), Iterative Methods for Solving Linear Systems, https://doi.org/10.1137/1.9781611970937
5. Kershaw (1978), The incomplete Cholesky-conjugate gradient method for the iterative solution of systems of linear
   equations, https://doi.org/10.1016/0021-9991(78)90098-0
"""

# 8 parts to write. Test them with: pytest exercises/optim/conjugate_gradient/linear.py
# To be written without: scipy.sparse.linalg, numpy.linalg.solve, numpy.linalg.cholesky, scipy.linalg

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg.lu import back_substitution, forward_substitution
from mlpath.optim._shared import Vector

Operator = Callable[[Vector], Vector]

CONVERGED = "converged: the residual is at most tol times the right-hand side"
OUT_OF_STEPS = "stopped: max_iter steps were made before the residual fell to tol"
NOT_DEFINITE = "stopped: matvec is not positive definite, see `direction`"
BAD_PRECONDITIONER = "stopped: precondition is not positive definite"
NOT_FINITE = "stopped: matvec or precondition returned what is not finite, or overflowed"
DRIFTED = "stopped: the residual carried forward has fallen to tol, the true residual has not"


@dataclass(frozen=True)
class State:
    r"""Where the method is.

    Attributes
    ----------
    x : ndarray
        The point $x_k$.
    residual : ndarray
        The residual $r_k$, carried forward by (6).
    direction : ndarray
        The next direction $d_k$.
    rho : float
        The product $r_k^\top z_k$.
    """

    x: Float[np.ndarray, " dim"]
    residual: Float[np.ndarray, " dim"]
    direction: Float[np.ndarray, " dim"]
    rho: float


@dataclass(frozen=True)
class CGResult:
    """What a solution by conjugate gradients ended with.

    Attributes
    ----------
    x : ndarray
        The last point.
    nit : int
        Number of steps made.
    residual_norms : ndarray
        The lengths of the residuals that were carried forward, from the start to `x`: `nit + 1` numbers.
    true_residual_norm : float
        The length of the residual of `x`, computed afresh: (12).
    success : bool
        Whether the method stopped because it had converged.
    message : str
        Why it stopped.
    direction : ndarray or None
        If it stopped for (13), the direction.
    path : ndarray or None
        The start and the point after each step, one a row, if asked for.
    """

    x: Float[np.ndarray, " dim"]
    nit: int
    residual_norms: Float[np.ndarray, " n_points"]
    true_residual_norm: float
    success: bool
    message: str
    direction: Float[np.ndarray, " dim"] | None = None
    path: Float[np.ndarray, "n_points dim"] | None = None


def energy_norm(matvec: Operator, v: Float[np.ndarray, " dim"]) -> float:
    r"""Return the length of a vector in the inner product of a positive definite matrix, equation (2).

    Parameters
    ----------
    matvec : callable
        Takes a vector and returns its product with $A$.
    v : ndarray
        The vector, of any representable length.

    Returns
    -------
    float
        $\|v\|_A$; 0 for the zero vector.

    Raises
    ------
    ValueError
        If $v^\top A v$ is negative or NaN: `matvec` is not positive definite. The message names it.

    Examples
    --------
    >>> print(f"{energy_norm(lambda v: np.array([2.0, 5.0]) * v, np.array([2.0, -1.0])):.4f}")
    3.6056
    """
    raise NotImplementedError("not written yet: energy_norm")


def conjugate(matvec: Operator, vectors: Float[np.ndarray, "n_vectors dim"]) -> Float[np.ndarray, "n_vectors dim"]:
    """Make vectors conjugate to each other, by Gram and Schmidt's equation (4).

    Parameters
    ----------
    matvec : callable
        Takes a vector and returns its product with the positive definite $A$. It is called once for each vector.
    vectors : ndarray
        Independent vectors, one a row.

    Returns
    -------
    ndarray
        Conjugate directions in the rows. The first is the first vector; each differs from its vector by a combination
        of those before.

    Raises
    ------
    ValueError
        If a direction has no positive curvature: `matvec` is not positive definite, or the vectors are exactly
        dependent (nearly dependent ones leave directions of mere rounding). The message names `matvec`.

    Examples
    --------
    >>> matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> conjugate(lambda v: matrix @ v, np.eye(2))
    array([[ 1. ,  0. ],
           [-0.5,  1. ]])
    """
    raise NotImplementedError("not written yet: conjugate")


def identity(v: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:  # given
    """Return the vector as it is: the preconditioner that is none.

    Parameters
    ----------
    v : ndarray
        A vector.

    Returns
    -------
    ndarray
        The same array.

    Examples
    --------
    >>> identity(np.array([3.0, 4.0]))
    array([3., 4.])
    """
    return v


def begin(
    matvec: Operator,
    rhs: Float[np.ndarray, " dim"],
    x: Float[np.ndarray, " dim"],
    precondition: Operator = identity,
) -> State:
    r"""Return the state from which the method starts, by equation (10).

    Parameters
    ----------
    matvec : callable
        Takes a vector and returns its product with $A$.
    rhs : ndarray
        The right-hand side $b$.
    x : ndarray
        Where to start from.
    precondition : callable
        Takes $r$ and returns $z = M^{-1} r$.

    Returns
    -------
    State
        With the residual of `x`, the direction $z_0$ and $\rho = r_0^\top z_0$.

    Examples
    --------
    >>> state = begin(lambda v: np.array([2.0, 4.0]) * v, np.array([3.0, -1.0]), np.array([1.0, 1.0]))
    >>> state.residual, state.rho
    (array([ 1., -5.]), 26.0)
    """
    raise NotImplementedError("not written yet: begin")


def advance(state: State, product: Float[np.ndarray, " dim"], precondition: Operator = identity) -> State:
    """Take one step, by equations (6) and (7), with (10).

    Parameters
    ----------
    state : State
        Where the method is, with positive `rho`. It is not changed.
    product : ndarray
        The product of `state.direction` with $A$, along which the curvature is positive.
    precondition : callable
        Takes $r$ and returns $z = M^{-1} r$. It is called once.

    Returns
    -------
    State
        Where the method is next.

    Examples
    --------
    >>> state = State(np.zeros(2), np.array([3.0, -1.0]), np.array([3.0, -1.0]), 10.0)
    >>> state = advance(state, np.array([5.0, 0.0]))
    >>> state.x.round(4), state.residual.round(4), state.direction.round(4)
    (array([ 2.    , -0.6667]), array([-0.3333, -1.    ]), array([ 0.    , -1.1111]))
    """
    raise NotImplementedError("not written yet: advance")


def conjugate_gradient(
    matvec: Operator,
    rhs: ArrayLike,
    *,
    start: ArrayLike | None = None,
    precondition: Operator = identity,
    tol: float = 1e-8,
    max_iter: int | None = None,
    record_path: bool = False,
) -> CGResult:
    r"""Solve $A x = b$ for a symmetric positive definite $A$, of which only products with vectors are known.

    It works in float32 if `rhs` is, else in float64. Squares of residuals must be representable: scale what is beyond
    $10^{\pm 150}$. If $A$ is singular and $b$ in its range, it finds the solution that shares its part in the null
    space with the start.

    Parameters
    ----------
    matvec : callable
        Takes a vector and returns its product with $A$. It is called once at the start, once a step and once at the
        end.
    rhs : array_like
        The right-hand side $b$.
    start : array_like, optional
        Where to start from; zero if not given. Not changed.
    precondition : callable
        Takes $r$ and returns $z = M^{-1} r$, for a positive definite $M$ that resembles $A$.
    tol : float
        Converged when the residual is at most so many times as long as $b$; or as the first residual, if $b$ is zero.
    max_iter : int, optional
        The largest number of steps; ten times the number of unknowns if not given.
    record_path : bool
        Whether to keep the points.

    Returns
    -------
    CGResult
        `success` is true only for the message `CONVERGED`. The others: `OUT_OF_STEPS`; `NOT_DEFINITE` for a direction
        with (13), which is not walked and is returned; `BAD_PRECONDITIONER` where $r^\top z \le 0$, though $r$ is not
        zero; `NOT_FINITE`, where the step that is not finite is not walked either; and `DRIFTED` if the residual
        carried forward has converged and the true one, (12), is more than twice the tolerance.

    Raises
    ------
    ValueError
        If `rhs` or `start` is not a vector of finite numbers, or they differ in length; if `tol` is negative or not
        finite, or `max_iter` below 1; or if `matvec` or `precondition` returns the wrong shape.

    Examples
    --------
    >>> matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> result = conjugate_gradient(lambda v: matrix @ v, [3.0, -1.0])
    >>> result.x.round(4), result.nit, result.success
    (array([ 2., -1.]), 2, True)
    """
    # given: the checks, and operators whose results have the right shape and dtype
    b, x, max_iter = _arguments(rhs, start, tol, max_iter)
    matvec, precondition = _checked(matvec, "matvec"), _checked(precondition, "precondition", copy=True)
    raise NotImplementedError("not written yet: conjugate_gradient")


def chebyshev_bound(condition: float, n_steps: int) -> float:
    r"""Return by how much the energy norm of the error has shrunk at least after some steps, equation (9).

    Parameters
    ----------
    condition : float
        The condition number $\kappa$.
    n_steps : int
        How many steps $k$ were made.

    Returns
    -------
    float
        The bound: 2 before the first step, and then ever smaller.

    Raises
    ------
    ValueError
        If `condition` is below 1 or not finite, or `n_steps` is negative.

    Examples
    --------
    >>> print(f"{chebyshev_bound(9.0, 3):.4f}")
    0.2500
    """
    # given: the checks
    if not 1 <= condition < np.inf:
        raise ValueError(f"condition must be at least 1 and finite, got {condition}")
    if not n_steps >= 0:
        raise ValueError(f"n_steps must not be negative, got {n_steps}")
    raise NotImplementedError("not written yet: chebyshev_bound")


def jacobi(diagonal: Float[np.ndarray, " dim"]) -> Operator:
    """Return the preconditioner that takes the diagonal of $A$ for $M$, for use in (10).

    Parameters
    ----------
    diagonal : ndarray
        The diagonal of $A$, all of it positive.

    Returns
    -------
    callable
        Takes a vector and returns another, of the same dtype.

    Raises
    ------
    ValueError
        If `diagonal` is not a vector of positive, finite numbers.

    Examples
    --------
    >>> jacobi(np.array([2.0, 5.0]))(np.array([3.0, 4.0]))
    array([1.5, 0.8])
    """
    # given: the check
    if diagonal.ndim != 1 or not np.all((diagonal > 0) & (diagonal < np.inf)):
        raise ValueError(f"diagonal must be a vector of positive, finite numbers, got {diagonal}")

    raise NotImplementedError("not written yet: jacobi")


def incomplete_cholesky(matrix: Float[np.ndarray, "dim dim"]) -> Float[np.ndarray, "dim dim"]:
    r"""Return the incomplete Cholesky factor without fill, equation (11).

    It works on all of the array, of which a serious implementation would keep the entries that are not zero.

    Parameters
    ----------
    matrix : ndarray
        Symmetric. It is not changed.

    Returns
    -------
    ndarray
        The lower triangle $L$, zero wherever `matrix` is. $L L^\top$ equals the matrix wherever that is not zero.

    Raises
    ------
    ValueError
        If `matrix` is not square, finite and symmetric.
    LinAlgError
        If a pivot is not positive; the message names it, such as "order 3", counted from 1.

    Examples
    --------
    >>> incomplete_cholesky(np.array([[4.0, 2.0, 2.0], [2.0, 5.0, 0.0], [2.0, 0.0, 5.0]]))
    array([[2., 0., 0.],
           [1., 2., 0.],
           [1., 0., 2.]])
    """
    # given: the check
    _check_symmetric(matrix)
    raise NotImplementedError("not written yet: incomplete_cholesky")


def substitution(lower: Float[np.ndarray, "dim dim"]) -> Operator:  # given
    r"""Return the preconditioner for $M = L L^\top$: two substitutions, forwards and back.

    Parameters
    ----------
    lower : ndarray
        The lower triangle $L$.

    Returns
    -------
    callable
        Takes a vector and returns another.

    Examples
    --------
    >>> substitution(np.array([[2.0, 0.0], [1.0, 1.0]]))(np.array([2.0, 3.0]))
    array([-0.5,  2. ])
    """
    return lambda residual: back_substitution(lower.T, forward_substitution(lower, residual))


def _arguments(  # given: argument checks
    rhs: ArrayLike, start: ArrayLike | None, tol: float, max_iter: int | None
) -> tuple[Vector, Vector, int]:
    """Return right-hand side and start as arrays of one type, and the limit of steps, or raise a ValueError."""
    b = np.array(rhs)
    b = b if np.issubdtype(b.dtype, np.floating) else b.astype(float)
    if b.ndim != 1 or not b.size or not np.isfinite(b).all():
        raise ValueError(f"rhs must be a vector of finite numbers, got {rhs}")
    x = np.zeros_like(b) if start is None else np.array(start, dtype=b.dtype)
    if x.shape != b.shape or not np.isfinite(x).all():
        raise ValueError(f"start must be a vector of {len(b)} finite numbers, got {start}")
    if not 0 <= tol < np.inf:
        raise ValueError(f"tol must be non-negative and finite, got {tol}")
    if max_iter is not None and not max_iter >= 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
    return b, x, 10 * len(b) if max_iter is None else max_iter


def _checked(operator: Operator, name: str, copy: bool | None = None) -> Operator:  # given
    """Return the operator with its results in the dtype of the vector, refusing another shape.

    A `copy` is needed of what is kept: a user's function may return the same array each time.
    """
    if operator is identity:
        return operator

    def checked(v: Vector) -> Vector:
        result = np.array(operator(v), dtype=v.dtype, copy=copy)
        if result.shape != v.shape:
            raise ValueError(f"{name} must return shape {v.shape}, got {result.shape}")
        return result

    return checked


def _stopping(norm: float, limit: float, rho: float, nit: int, max_iter: int) -> str:  # given
    """Return the reason to stop, or an empty string to go on."""
    if not (np.isfinite(norm) and np.isfinite(rho)):
        return NOT_FINITE
    if norm <= limit:
        return CONVERGED
    if nit >= max_iter:
        return OUT_OF_STEPS
    return "" if rho > 0 else BAD_PRECONDITIONER


def _check_symmetric(matrix: Float[np.ndarray, "dim dim"]) -> None:  # given
    """Refuse what is not a symmetric matrix."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"matrix must be finite, got {matrix}")
    if abs(matrix - matrix.T).max() > 1e-6 * abs(matrix).max():
        raise ValueError(f"matrix must be symmetric, got {matrix}")
