r"""Power iteration: one eigenvector by multiplying again and again, any by solving, and how fast either goes.

## Idea

Multiply a vector by a matrix, scale it back to length 1, and repeat. The part along the eigenvector whose eigenvalue
is largest in modulus grows faster than all others, until nothing else is left. That needs products with the matrix
only, and so it ranks the pages of the web: the long-run shares of somebody who follows links at random are the
eigenvector, for the eigenvalue 1, of the matrix of the transition probabilities. Solve with the matrix instead of
multiplying, after a shift, and the eigenvalue *nearest to the shift* wins. Choose the shift anew at each step, and the
number of right digits triples.

## Maths

**The best eigenvalue for a vector.** Let $x$ be nearly an eigenvector. Which $\theta$ makes $\lVert A x - \theta x
\rVert$ least? This is least squares in one unknown. The residual must be orthogonal to $x$, so
$x^\top (A x - \theta x) = 0$, and $\theta$ is the *Rayleigh quotient*

$$\rho(x) = \frac{x^\top A x}{x^\top x}. \tag{1}$$

**When to stop.** For $x$ of length 1, let $r = A x - \rho(x)\, x$. Then $(A - r x^\top)\, x = A x - r = \rho(x)\, x$:
we have an exact eigenpair, of a matrix that differs from $A$ by $\lVert r x^\top \rVert = \lVert r \rVert$. The
*backward error* is that difference relative to $A$ (in the Frobenius norm), and we stop when it is small:

$$\frac{\lVert A x - \rho(x)\, x \rVert}{\lVert A \rVert_F} \le \text{tol}. \tag{2}$$

If $A$ is symmetric, an eigenvalue lies within $\lVert r \rVert$ of $\rho(x)$. Whether $x$ still *moves* says little:
the sign of the eigenvalue may turn it round at each step.

**Power iteration.** From $x_0$ of length 1, with $\sigma = 0$ for the plain method,

$$y = (A - \sigma I)\, x_k, \qquad x_{k+1} = y / \lVert y \rVert. \tag{3}$$

Let $x_0 = c_1 v_1 + \dots + c_n v_n$ with eigenvectors $A v_i = \lambda_i v_i$, and number them so that
$|\lambda_1 - \sigma|$ is largest. Then $x_k$ is a multiple of

$$(A - \sigma I)^k x_0 = (\lambda_1 - \sigma)^k \Bigl( c_1 v_1 +
\sum_{i > 1} \Bigl( \frac{\lambda_i - \sigma}{\lambda_1 - \sigma} \Bigr)^k c_i v_i \Bigr). \tag{4}$$

If $c_1 \ne 0$ and the first is alone at the top, all other parts die out. The slowest goes down at each step by

$$q = \frac{\max_{i > 1} |\lambda_i - \sigma|}{|\lambda_1 - \sigma|}, \tag{5}$$

and $d$ digits take about $d / \log_{10}(1/q)$ steps. A shift changes $q$, and it decides which eigenvalue is the
farthest from it. If two *different* eigenvalues tie, such as 3 and -3 or a pair of complex ones, $q = 1$ and nothing
converges. An eigenvalue that is there several times does no harm: all its eigenvectors grow alike.

If $c_1 = 0$, exact arithmetic never finds $v_1$. Rounding mostly brings in a little of it, which then grows, but (2)
may hold for another eigenpair before. And a start of zeros and ones may be orthogonal to $v_1$ so neatly that no
rounding occurs at all. Hence random starts.

**Inverse iteration.** $(A - \sigma I)^{-1}$ has the same eigenvectors, and the eigenvalues $1 / (\lambda_i - \sigma)$.
Power iteration on it [1, 2],

$$(A - \sigma I)\, y = x_k, \qquad x_{k+1} = y / \lVert y \rVert, \tag{6}$$

goes to the eigenvalue $\lambda_a$ *nearest* to $\sigma$. With $\lambda_b$ the next,

$$q = \frac{|\lambda_a - \sigma|}{|\lambda_b - \sigma|}. \tag{7}$$

The matrix is the same at each step: it is factorised once. If $\sigma$ is an eigenvalue, the system is singular to
rounding, and $y$ is enormous and mostly wrong. But the error points along $v_a$, the very direction that we want.
So one step suffices, and pivots of zero are merely replaced by rounding-sized ones.

**Rayleigh quotient iteration** takes $\sigma = \rho(x_k)$ in (6), a new one at each step. Why is it so fast? Let $A$
be symmetric, $x = (v_1 + d\, v_2) / \sqrt{1 + d^2}$ with orthonormal $v_1$ and $v_2$, and $d$ the error. Then

$$\rho(x) = \frac{\lambda_1 + d^2 \lambda_2}{1 + d^2}, \qquad
\lambda_1 - \rho(x) = \frac{d^2}{1 + d^2} (\lambda_1 - \lambda_2), \qquad
\rho(x) - \lambda_2 = \frac{1}{1 + d^2} (\lambda_1 - \lambda_2): \tag{8}$$

the error of the *value* is the square of that of the *vector*. By (7) the step multiplies $d$ by the ratio of the two
distances, which is $d^2$. So $d$ becomes $d^3$, up to its sign. Without symmetry $\rho(x)$ is off by a multiple of
$d$ itself, and $d$ becomes a multiple of $d^2$ [4]. Where the iteration ends depends on the start: it need not be the
eigenvalue nearest to the first quotient.

**Deflation.** To find the next one, make the one that is known vanish. Let $w$ be a *left* eigenvector,
$w^\top A = \lambda_1 w^\top$, and

$$B = A - \lambda_1 \frac{v_1 w^\top}{w^\top v_1}. \tag{9}$$

Then $B v_1 = \lambda_1 v_1 - \lambda_1 v_1 = 0$. For any other eigenvector,
$\lambda_i w^\top v_i = w^\top A v_i = \lambda_1 w^\top v_i$, so $w^\top v_i = 0$ if $\lambda_i \ne \lambda_1$, and
$B v_i = \lambda_i v_i$ stays as it was. A symmetric matrix has $w = v_1$ (Hotelling). For others, $w$ is an
eigenvector of $A^\top$. (With $w = v_1$ even so, the eigenvalues come out right [3], but the other eigenvectors are
changed.)

**What deflation costs.** Let $A$ be symmetric, and $v$ of length 1 with $A v = \theta v + r$. Let $w$ be an exact
eigenvector of the deflated matrix, $(A - \theta v v^\top) w = \mu w$. Multiply from the left by $v^\top$: the left side
is $(\theta v + r)^\top w - \theta v^\top w = r^\top w$, so $v^\top w = r^\top w / \mu$. Hence

$$A w - \mu w = \theta\, v\, (v^\top w), \qquad
\lVert A w - \mu w \rVert \le \Bigl| \frac{\theta}{\mu} \Bigr| \lVert r \rVert. \tag{10}$$

The error of each pair is handed down to those after it, enlarged by the ratio of the eigenvalues.

## Worked example

$A = \begin{pmatrix} 2 & 1 \\ 1 & 2 \end{pmatrix}$ has the eigenvectors $(1, 1)$ and $(1, -1)$, for 3 and 1. Leave the
scaling for later: from $(1, 0)$, the products are $(2, 1)$, $(5, 4)$ and $(14, 13)$. The error
$d = (x_1 - x_2) / (x_1 + x_2)$ is $1, \tfrac13, \tfrac19, \tfrac1{27}$: $q = \tfrac13$, as (5) says. The Rayleigh
quotients are $2,\ 14/5 = 2.8,\ 122/41 \approx 2.9756$: off by $1,\ 0.2,\ 0.0244$, which nears a ninth at each step.

With the shift 2.9, inverse iteration has $q = 0.1 / 1.9 = \tfrac1{19}$. Rayleigh quotient iteration from $(2, 1)$
solves with $\sigma = 2.8$: $(-0.8\, y_1 + y_2,\ y_1 - 0.8\, y_2) = (2, 1)$ gives $y = (65, 70) / 9$, with
$d = -5/135 = -\tfrac1{27}$. The next error is $\tfrac1{19683}$, and the one after that $1.3 \cdot 10^{-13}$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `rayleigh_quotient` | a matrix and a vector | the best eigenvalue for it | (1) |
| `iterate` | a matrix, a step, a start | the eigenpair at which the steps arrive, and how they went | (1), (2) |
| `power_iteration` | a matrix, a start, a shift | the eigenpair farthest from the shift | (3) |
| `inverse_iteration` | a matrix, a start, a shift | the eigenpair nearest to the shift | (6) |
| `rayleigh_quotient_iteration` | a matrix, a start | an eigenpair, quickly | (6), (1) |
| `deflate` | a matrix, an eigenpair, perhaps a left eigenvector | the matrix without it | (9) |
| `top_eigenpairs` | a symmetric matrix, a number | the eigenpairs of largest modulus | (3), (9) |
| `convergence_ratio` | eigenvalues, a shift, which method | $q$ | (5), (7) |

A *step* is a function of the vector and its Rayleigh quotient that returns $y$; `iterate` does the rest. `_length` (a
norm without overflow), `_unit`, `_solver` (which factorises $A - \sigma I$ and returns a function that solves with it)
and `_tolerance` are given.

## Pitfalls

- It runs up to the limit for a matrix with the eigenvalue -5, though the value has long been right.
- The numbers overflow after some hundred steps, or all become zero.
- The same routine finds the largest eigenvalue of one matrix and the second of another.
- Inverse iteration is as slow as if it factorised at every step.
- A second eigenpair comes out right only for symmetric matrices.
- Asked for more pairs than the matrix has rank, it returns the first vector again.

## Cost

A step of (3) takes $2 n^2$ operations for a dense matrix, one of (6) as many, after $\tfrac23 n^3$ for the factors. A
step of Rayleigh quotient iteration costs a factorisation, but some three to seven steps do. Lanczos' method
(`scipy.sparse.linalg.eigsh`) takes the best combination of all the iterates, instead of the last one alone, and one
product a step, where ours has two: one for the step, one for (2). With $q = 0.5$ that takes 2 to 3 times as long as
`eigsh` for 1,000 × 1,000 matrices, and with $q = 0.9$ it takes 5 to 7 times as long: the more, the nearer $q$ is to 1.

## Go further

An experiment: on a matrix with eigenvalues 10, 9 and 1 to -8, look for the shift with which (3) takes the fewest steps
to 10. Where is it, by (5), and how does it compare with $\sigma = 0$? A stretch goal: keep several vectors at once and
make them orthogonal after each product. That is orthogonal iteration, which needs no deflation; with a Rayleigh
quotient for the whole block it becomes subspace iteration, and with shifts the QR algorithm.

## References

1. Trefethen & Bau (1997), Numerical Linear Algebra, lectures 25 to 27, https://doi.org/10.1137/1.9780898719574
2. Ipsen (1997), Computing an eigenvector with inverse iteration, https://doi.org/10.1137/S0036144596300773
3. Saad (2011), Numerical Methods for Large Eigenvalue Problems, chapter 4, https://doi.org/10.1137/1.9781611970739
4. Parlett (1974), The Rayleigh quotient iteration and some generalizations for nonnormal matrices,
   https://doi.org/10.1090/S0025-5718-1974-0405823-3
"""

# 8 parts to write. Test them with: pytest exercises/linalg/power_iteration.py
# To be written without: numpy.linalg.eig, numpy.linalg.eigh, numpy.linalg.eigvals, numpy.linalg.eigvalsh, numpy.linalg.svd, scipy.linalg, scipy.sparse.linalg

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array, square_matrix, symmetric_matrix
from mlpath.linalg.lu import LU, lu_factor, solve

Step = Callable[[Float[np.ndarray, " n"], float], Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class Eigenpair:
    """Where an iteration arrived, and how it went.

    Attributes
    ----------
    value : float
        The Rayleigh quotient (1) of `vector`.
    vector : ndarray of shape (n,)
        The last iterate, of length 1, with either sign.
    residuals : ndarray of shape (iterations + 1,)
        The backward error, the left side of (2), of the start and after each step.
    iterations : int
        The number of steps.
    converged : bool
        Whether the last of `residuals` is at most the tolerance. If not, `value` and `vector` are no eigenpair.

    Examples
    --------
    >>> Eigenpair(2.0, np.array([1.0]), np.array([0.0]), iterations=0, converged=True).value
    2.0
    """

    value: float
    vector: Float[np.ndarray, " n"]
    residuals: Float[np.ndarray, " n_residuals"]
    iterations: int
    converged: bool


@dataclass(frozen=True)
class Eigenpairs:
    """Several eigenpairs, those of largest modulus first.

    Attributes
    ----------
    values : ndarray of shape (k,)
        Eigenvalues.
    vectors : ndarray of shape (n, k)
        Eigenvectors of length 1, one a column, each with either sign.
    iterations : ndarray of shape (k,)
        The steps that each took.

    Examples
    --------
    >>> Eigenpairs(np.array([2.0]), np.array([[1.0]]), np.array([0])).values
    array([2.])
    """

    values: Float[np.ndarray, " k"]
    vectors: Float[np.ndarray, "n k"]
    iterations: Int[np.ndarray, " k"]


def _length(x: np.ndarray) -> float:  # given: the norm of tiny and huge arrays too
    """Return the Euclidean norm of a vector, or the Frobenius norm of a matrix."""
    largest = float(np.abs(x).max())
    return largest * float(np.linalg.norm(x / largest)) if largest > 0 else 0.0


def _unit(x: np.ndarray) -> np.ndarray:  # given: a vector of length 1
    """Return a vector scaled to length 1; zeros and infinities have no direction."""
    if not x.any() or not np.isfinite(x).all():
        raise np.linalg.LinAlgError(f"the iteration broke down: it came to {x}, which has no direction")
    x = x / np.abs(x).max()
    return x / np.linalg.norm(x)


def _direction(values: np.ndarray, a: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return a vector as long as `a` has rows, in its precision and not all zero, or say why it is none."""
    x = real_array(values, name, ndim=1)
    if len(x) != len(a):
        raise ValueError(f"{name} must have {len(a)} entries, got the shape {x.shape}")
    if not x.any():
        raise ValueError(f"{name} must not be zero, got {x}")
    return x.astype(a.dtype)


def _tolerance(tol: float | None, a: np.ndarray) -> float:  # given: what rounding lets a backward error become
    """Return the tolerance, by default 10 n eps in the precision of `a`."""
    tol = 10 * len(a) * float(np.finfo(a.dtype).eps) if tol is None else float(tol)
    if not 0 < tol < np.inf:
        raise ValueError(f"tol must be positive and finite, got {tol}")
    return tol


def _solver(a: np.ndarray, shift: float) -> Callable[[np.ndarray], np.ndarray]:  # given: by the exercise linalg/lu
    """Factorise A - shift I, and return the function that solves with it.

    Pivots below rounding are replaced by eps times the norm of A: no more than rounding does to A in any case.
    """
    factors = lu_factor(a - shift * np.eye(len(a), dtype=a.dtype))
    pivots = np.diagonal(factors.upper)
    least = float(np.finfo(a.dtype).eps) * _length(a) or 1.0
    mended = np.where(np.abs(pivots) < least, np.asarray(least, dtype=a.dtype), pivots)
    factors = LU(factors.lower, factors.upper + np.diag(mended - pivots), factors.permutation)
    return lambda b: solve(factors, b)


def rayleigh_quotient(a: Float[np.ndarray, "n n"], x: Float[np.ndarray, " n"]) -> float:
    r"""Return the Rayleigh quotient (1), the best eigenvalue for a vector.

    Parameters
    ----------
    a : ndarray
        The matrix. It need not be symmetric.
    x : ndarray
        The vector, of any length but zero.

    Returns
    -------
    float
        $\rho(x)$, the same for all multiples of `x`.

    Raises
    ------
    ValueError
        If `a` is not a square matrix of real, finite numbers, or `x` is not such a vector, has not as many entries, or
        is zero.

    Examples
    --------
    >>> rayleigh_quotient(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([2.0, 1.0]))
    2.8
    """
    # given: the checks
    a = square_matrix(a, "a")
    x = _direction(x, a, "x")
    raise NotImplementedError("not written yet: rayleigh_quotient")


def iterate(
    a: Float[np.ndarray, "n n"],
    step: Step,
    start: Float[np.ndarray, " n"],
    *,
    tol: float | None = None,
    max_iterations: int = 1000,
) -> Eigenpair:
    r"""Scale the start to length 1, then step, and scale again, until the backward error (2) is small enough.

    Parameters
    ----------
    a : ndarray
        The matrix whose eigenpair is sought.
    step : callable
        `step(x, value)` returns the next vector, of any length. It gets the present one, of length 1, and its Rayleigh
        quotient in `a`.
    start : ndarray
        The first vector, of any length but zero.
    tol : float, optional
        The tolerance in (2). By default 10 n times the rounding unit of the precision of `a`.
    max_iterations : int
        The most steps that are taken.

    Returns
    -------
    Eigenpair
        The first vector for which (2) holds, perhaps the start itself, after 0 steps. If there is none among the
        iterates, the last one, with `converged` false.

    Raises
    ------
    ValueError
        If an array is refused as by `rayleigh_quotient`, `tol` is not positive and finite, or `max_iterations` is below
        1.
    numpy.linalg.LinAlgError
        If a step returns zeros, or what is not finite.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> pair = iterate(a, lambda x, value: a @ x, np.array([1.0, 0.0]), max_iterations=2)
    >>> print(round(pair.value, 4), pair.vector.round(4), pair.converged)
    2.9756 [0.7809 0.6247] False
    """
    # given: the checks
    a = square_matrix(a, "a")
    start = _direction(start, a, "start")
    tol = _tolerance(tol, a)
    if max_iterations < 1:
        raise ValueError(f"max_iterations must be at least 1, got {max_iterations}")
    raise NotImplementedError("not written yet: iterate")


def power_iteration(
    a: Float[np.ndarray, "n n"],
    start: Float[np.ndarray, " n"],
    *,
    shift: float = 0.0,
    tol: float | None = None,
    max_iterations: int = 1000,
) -> Eigenpair:
    r"""Return the eigenpair whose eigenvalue is farthest from the shift, by equation (3).

    Parameters
    ----------
    a : ndarray
        The matrix.
    start : ndarray
        The first vector. If it has no part along the eigenvector sought, another eigenpair may come out.
    shift : float
        $\sigma$. With 0, the eigenvalue of largest modulus is found.
    tol : float, optional
        As in `iterate`.
    max_iterations : int
        As in `iterate`.

    Returns
    -------
    Eigenpair
        The eigenpair of `a`, not of the shifted matrix. `converged` is false if two different eigenvalues, perhaps
        complex ones, are the farthest, or (5) is too near 1 for `max_iterations`.

    Raises
    ------
    ValueError
        If an argument is refused as by `iterate`, or `shift` is not finite.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> pair = power_iteration(a, np.array([1.0, 0.0]))
    >>> print(round(pair.value, 4), np.abs(pair.vector).round(4), pair.converged)
    3.0 [0.7071 0.7071] True
    """
    # given: the checks
    a = square_matrix(a, "a")
    if not np.isfinite(shift):
        raise ValueError(f"shift must be finite, got {shift}")
    raise NotImplementedError("not written yet: power_iteration")


def inverse_iteration(
    a: Float[np.ndarray, "n n"],
    start: Float[np.ndarray, " n"],
    *,
    shift: float = 0.0,
    tol: float | None = None,
    max_iterations: int = 1000,
) -> Eigenpair:
    r"""Return the eigenpair whose eigenvalue is nearest to the shift, by equation (6).

    Parameters
    ----------
    a : ndarray
        The matrix. It is factorised once.
    start : ndarray
        The first vector. If it has no part along the eigenvector sought, another eigenpair may come out.
    shift : float
        $\sigma$. It may be an eigenvalue.
    tol : float, optional
        As in `iterate`.
    max_iterations : int
        As in `iterate`.

    Returns
    -------
    Eigenpair
        The eigenpair of `a`. `converged` is false if two different eigenvalues are the nearest, or (7) is too near 1
        for `max_iterations`.

    Raises
    ------
    ValueError
        If an argument is refused as by `iterate`, or `shift` is not finite.
    numpy.linalg.LinAlgError
        If a solution overflows, which takes an eigenvalue with far fewer eigenvectors than its multiplicity.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> pair = inverse_iteration(a, np.array([1.0, 0.0]), shift=1.2)
    >>> print(round(pair.value, 4), np.abs(pair.vector).round(4), pair.converged)
    1.0 [0.7071 0.7071] True
    """
    # given: the checks
    a = square_matrix(a, "a")
    if not np.isfinite(shift):
        raise ValueError(f"shift must be finite, got {shift}")
    raise NotImplementedError("not written yet: inverse_iteration")


def rayleigh_quotient_iteration(
    a: Float[np.ndarray, "n n"],
    start: Float[np.ndarray, " n"],
    *,
    tol: float | None = None,
    max_iterations: int = 50,
) -> Eigenpair:
    r"""Return an eigenpair by equation (6), where the shift is the Rayleigh quotient (1) of each iterate.

    Parameters
    ----------
    a : ndarray
        The matrix. It is factorised at each step.
    start : ndarray
        The first vector. It decides which eigenpair is found.
    tol : float, optional
        As in `iterate`.
    max_iterations : int
        As in `iterate`, but fewer steps suffice.

    Returns
    -------
    Eigenpair
        Some eigenpair of `a`, near the start if that is nearly an eigenvector. Near the end the error is cubed at each
        step if `a` is symmetric, and squared otherwise.

    Raises
    ------
    ValueError
        If an argument is refused as by `iterate`.
    numpy.linalg.LinAlgError
        If a solution overflows, as in `inverse_iteration`.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> pair = rayleigh_quotient_iteration(a, np.array([2.0, 1.0]), max_iterations=1)
    >>> print(round(pair.value, 4), np.abs(pair.vector).round(4))
    2.9973 [0.6805 0.7328]
    """
    # given: the check
    a = square_matrix(a, "a")
    raise NotImplementedError("not written yet: rayleigh_quotient_iteration")


def deflate(
    a: Float[np.ndarray, "n n"],
    value: float,
    vector: Float[np.ndarray, " n"],
    left: Float[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "n n"]:
    r"""Return the matrix (9), in which an eigenvalue has become 0 and the other eigenpairs are as they were.

    Parameters
    ----------
    a : ndarray
        The matrix.
    value : float
        The eigenvalue.
    vector : ndarray
        Its eigenvector, of any length but zero.
    left : ndarray, optional
        Its left eigenvector, one of the transpose of `a`, of any length but zero. By default `vector` itself, which is
        right for symmetric matrices. For others, all eigenvalues come out right even so, but the other eigenvectors do
        not.

    Returns
    -------
    ndarray
        $B$, in the precision of `a`.

    Raises
    ------
    ValueError
        If an array is refused as by `rayleigh_quotient`, or `value` is not finite.
    numpy.linalg.LinAlgError
        If the eigenvectors are orthogonal to rounding: then the eigenvalue is a multiple one that lacks eigenvectors.

    Examples
    --------
    >>> print(deflate(np.array([[2.0, 1.0], [1.0, 2.0]]), 3.0, np.array([1.0, 1.0])))
    [[ 0.5 -0.5]
     [-0.5  0.5]]
    """
    # given: the checks
    a = square_matrix(a, "a")
    if not np.isfinite(value):
        raise ValueError(f"value must be finite, got {value}")
    vector = _direction(vector, a, "vector")
    left = vector if left is None else _direction(left, a, "left")
    if abs(_unit(left) @ _unit(vector)) <= len(a) * np.finfo(a.dtype).eps:
        raise np.linalg.LinAlgError("left and vector are orthogonal: the eigenvalue lacks eigenvectors")
    raise NotImplementedError("not written yet: deflate")


def top_eigenpairs(
    a: Float[np.ndarray, "n n"],
    k: int,
    *,
    rng: np.random.Generator,
    tol: float | None = None,
    max_iterations: int = 1000,
) -> Eigenpairs:
    r"""Return the `k` eigenpairs of largest modulus of a symmetric matrix, by power iteration (3) and deflation (9).

    Parameters
    ----------
    a : ndarray
        The symmetric matrix. Its rank may be below `k`: then vectors for the eigenvalue 0 are among the results.
    k : int
        How many, from 1 to n.
    rng : Generator
        For the starts.
    tol : float, optional
        The residual at which each iteration in its deflated matrix stops, relative to the norm of `a`. By default as in
        `iterate`.
    max_iterations : int
        The most steps for each pair.

    Returns
    -------
    Eigenpairs
        Values of falling modulus (to rounding), nearly orthogonal vectors, and steps. By (10), the backward error (2)
        of pair number i in `a` itself is up to some i times `tol` times the ratio of the first value to this one.

    Raises
    ------
    ValueError
        If `a` is not symmetric, or refused as by `rayleigh_quotient`, `k` is not from 1 to n, or `tol` or
        `max_iterations` are refused as by `iterate`.
    numpy.linalg.LinAlgError
        If one of them does not converge: to deflate what is no eigenpair would spoil all that come after it. That is so
        if two eigenvalues have the same modulus but not the same sign.

    Examples
    --------
    >>> top = top_eigenpairs(np.diag([1.0, -5.0, 3.0]), 2, rng=np.random.default_rng(0))
    >>> print(top.values.round(4))
    [-5.  3.]
    """
    # given: the checks
    a = symmetric_matrix(a, "a")
    if not 1 <= k <= len(a):
        raise ValueError(f"k must be from 1 to {len(a)}, got {k}")
    tol = _tolerance(tol, a)
    raise NotImplementedError("not written yet: top_eigenpairs")


def convergence_ratio(eigenvalues: ArrayLike, *, shift: float = 0.0, inverse: bool = False) -> float:
    r"""Return by what the error is multiplied at each step: equation (5), or (7) for inverse iteration.

    Parameters
    ----------
    eigenvalues : array_like
        All eigenvalues of the matrix, in any order, real or complex. Exactly equal ones count once.
    shift : float
        $\sigma$.
    inverse : bool
        Whether it is inverse iteration.

    Returns
    -------
    float
        $q$, from 0 (for a single eigenvalue, or one step suffices) to 1 (no convergence).

    Raises
    ------
    ValueError
        If `eigenvalues` is not a vector of finite numbers, or is empty, or `shift` is not finite.

    Examples
    --------
    >>> convergence_ratio([4.0, -2.0, 1.0]), convergence_ratio([4.0, -2.0, 1.0], shift=1.0)
    (0.5, 1.0)
    >>> convergence_ratio([4.0, -2.0, 1.0], shift=3.5, inverse=True)
    0.2
    """
    # given: the checks
    eigenvalues = np.asarray(eigenvalues)
    if eigenvalues.ndim != 1 or eigenvalues.dtype.kind not in "iufc":
        raise ValueError(f"eigenvalues must be a vector of numbers, got {eigenvalues}")
    if not eigenvalues.size or not np.isfinite(eigenvalues).all():
        raise ValueError(f"eigenvalues must be finite, and at least one, got {eigenvalues}")
    if not np.isfinite(shift):
        raise ValueError(f"shift must be finite, got {shift}")
    raise NotImplementedError("not written yet: convergence_ratio")
