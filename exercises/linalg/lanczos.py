r"""Lanczos and Arnoldi: eigenvalues of a huge matrix from a few products with it.

## Idea

A graph of 200,000 nodes has a matrix of 40 billion entries, nearly all of them zero. It cannot be stored, let alone
factorised, but its product with a vector is quick. Power iteration multiplies again and again and keeps only the last
vector. Lanczos keeps them all, and asks for the best that can be made of them: the matrix is *projected* on the space
that the products span. What comes out is a small tridiagonal matrix whose extreme eigenvalues agree, after a few dozen
products, with those of the huge one to many digits. It even says how many: the error of each eigenpair can be
read from the small matrix alone.

## Maths

**A matrix that is never formed.** All that the method asks is a rule for $x \mapsto A x$. The *Laplacian* of a graph
takes from the value of each node those of its neighbours,

$$(L x)_i = \sum_{j \sim i} (x_i - x_j), \tag{1}$$

which for the nodes of an $r \times c$ grid takes a few subtractions. Its eigenvalues are known:
$4 \sin^2 \frac{\pi i}{2 r} + 4 \sin^2 \frac{\pi j}{2 c}$ for $0 \le i < r$ and $0 \le j < c$.

**Arnoldi.** The vectors $v, A v, \dots, A^{m-1} v$ span the *Krylov space*. They themselves are a useless basis, as
they all turn towards the dominant eigenvector. So orthogonalise as you go: start with $q_1 = v / \lVert v \rVert$, and
then

$$h_{ij} = q_i^\top A q_j \quad (i \le j), \qquad
h_{j+1,j}\, q_{j+1} = A q_j - \sum_{i \le j} h_{ij} q_i, \tag{2}$$

where $h_{j+1,j} \ge 0$ is the length of the right side. Written for all $j \le m$ at once, with the $q_j$ as the
columns of $Q_m$, and $H_m$ of size $m \times m$, zero below its first subdiagonal,

$$A Q_m = Q_m H_m + h_{m+1,m}\, q_{m+1} e_m^\top, \qquad Q_m^\top A Q_m = H_m. \tag{3}$$

**Lanczos.** If $A$ is symmetric, so is $H_m = Q_m^\top A Q_m$. With zeros below the subdiagonal it has zeros above the
superdiagonal as well: it is tridiagonal. Call it $T_m$, with $\alpha_j = h_{jj}$ and $\beta_j = h_{j+1,j}$. Of the sum
in (2) two terms are left:

$$w_j = A q_j - \beta_{j-1} q_{j-1} - \alpha_j q_j, \quad \alpha_j = q_j^\top A q_j, \qquad
\beta_j = \lVert w_j \rVert, \quad q_{j+1} = w_j / \beta_j, \tag{4}$$

with $\beta_0 = 0$. And (3) becomes

$$A Q_m = Q_m T_m + \beta_m q_{m+1} e_m^\top, \qquad T_m = \begin{pmatrix}
\alpha_1 & \beta_1 \\ \beta_1 & \alpha_2 & \ddots \\ & \ddots & \ddots & \beta_{m-1} \\ & & \beta_{m-1} & \alpha_m
\end{pmatrix}. \tag{5}$$

**Breakdown** is good news. If $\beta_m = 0$, or is mere rounding, then $A Q_m = Q_m T_m$: the space is *invariant*, and
each eigenvalue of $T_m$ is one of $A$. We take $\beta_m$ for 0 if

$$\beta_m \le 10 \sqrt{n}\, \varepsilon \cdot \text{the largest } |\alpha_j| \text{ or } \beta_j \text{ so far}. \tag{6}$$

**Ritz pairs.** Let $T_m s = \theta s$ with $\lVert s \rVert = 1$. Its *Ritz vector* is $y = Q_m s$, and (5) times $s$
says

$$A y - \theta y = \beta_m s_m\, q_{m+1}, \qquad \lVert A y - \theta y \rVert = \beta_m |s_m|: \tag{7}$$

the residual is the last entry of $s$ times $\beta_m$. Neither $A$ nor $Q$ is needed for it. And as $A$ is symmetric, an
eigenvalue lies within $\beta_m |s_m|$ of $\theta$. For Arnoldi put $H_m$ for $T_m$ and $h_{m+1,m}$ for $\beta_m$;
$\theta$ and $s$ may then be complex, and a small residual need not mean a small error.

**How fast.** The largest Ritz value maximises $y^\top A y / y^\top y$ over the Krylov space, whose members are $p(A) v$
with polynomials $p$ of degree below $m$. A Chebyshev polynomial is small between $\lambda_n$ and $\lambda_2$ and grows
as steeply as any beyond, at $\lambda_1$. That gives [2], with the angle $\phi$ between $v$ and the eigenvector,

$$0 \le \lambda_1 - \theta_1 \le (\lambda_1 - \lambda_n) \Bigl( \frac{\tan \phi}{C_{m-1}(1 + 2 \gamma)} \Bigr)^2, \qquad
\gamma = \frac{\lambda_1 - \lambda_2}{\lambda_2 - \lambda_n}, \tag{8}$$

where $C_{m-1}(1 + 2\gamma) \approx \tfrac12 e^{2 (m-1) \sqrt{\gamma}}$ for small $\gamma$. Power iteration has
$e^{(m-1) \gamma}$ or so in its place: for a gap of $\gamma = 10^{-4}$ that is two hundred steps for each of Lanczos'.
The extreme eigenvalues come first; those inside, last or never.

**What rounding does.** On paper (4) makes $q_{j+1}$ orthogonal to all the others. Rounding makes an error of the size
$\varepsilon \lVert A \rVert$ in $w_j$, which is then divided by $\beta_j$, and it comes back in all later steps. Paige
[3] found what it turns into: the part of $q_{m+1}$ along a Ritz vector $y$ is

$$|q_{m+1}^\top y| \approx \frac{\varepsilon \lVert A \rVert}{\beta_m |s_m|}. \tag{9}$$

Compare (7): orthogonality is lost along a Ritz vector just when it *converges*. The method forgets that it has found
it, and finds it again: *ghosts*, copies of one eigenvalue, appear in $T_m$. The relation (5) does not suffer. *Full
re-orthogonalisation* takes from $w_j$ once more its parts along all of $q_1, \dots, q_j$,

$$w_j \leftarrow w_j - Q_j (Q_j^\top w_j), \tag{10}$$

and then the columns are orthonormal to rounding. Arnoldi has need of the same second pass; its coefficients are
rounding, and may be added to those of (2) or not.

## Worked example

The Laplacian of the path of three nodes, $A = \begin{pmatrix} 1 & -1 & 0 \\ -1 & 2 & -1 \\ 0 & -1 & 1
\end{pmatrix}$, has the eigenvalues 0, 1 and 3. From $q_1 = (1, 0, 0)$: $A q_1 = (1, -1, 0)$, so $\alpha_1 = 1$, $w_1 =
(0, -1, 0)$, $\beta_1 = 1$ and $q_2 = (0, -1, 0)$. Then $A q_2 = (1, -2, 1)$, so $\alpha_2 = 2$ and $w_2 = (1, -2, 1) -
1 \cdot (1, 0, 0) - 2 \cdot (0, -1, 0) = (0, 0, 1)$, with $\beta_2 = 1$.

$T_2 = \begin{pmatrix} 1 & 1 \\ 1 & 2 \end{pmatrix}$ has the eigenvalues $(3 \pm \sqrt 5) / 2$: 2.618 and 0.382, with
$s = (0.526, 0.851)$ and $(0.851, -0.526)$. By (7) the residuals are 0.851 and 0.526, and indeed 3 and 0 lie within
that: both are 0.382 away. The third step has $A q_3 = (0, -1, 1)$, $\alpha_3 = 1$ and
$w_3 = (0, -1, 1) - 1 \cdot (0, -1, 0) - (0, 0, 1) = 0$: breakdown, and $T_3$ has the eigenvalues 0, 1 and 3.

Arnoldi on the cyclic shift of three entries, $A e_1 = e_2$, $A e_2 = e_3$, $A e_3 = e_1$, from $e_1$: $H_1 = (0)$,
$H_2 = \begin{pmatrix} 0 & 0 \\ 1 & 0 \end{pmatrix}$ have no eigenvalue but 0, with residual 1. Only $H_3 = A$ has them,
the three third roots of 1.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `grid_laplacian` | a value for each node of a grid | $L x$ | (1) |
| `lanczos_step` | an operator, $Q_j$, $\beta_{j-1}$ | $\alpha_j$ and $w_j$ | (4), (10) |
| `extend` | an operator, what there is, a number of steps | the same after these steps | (4), (6) |
| `lanczos` | an operator, a start, a number of steps | $Q_{m+1}$, $\alpha$, $\beta$ | (4), (5) |
| `lanczos_ritz` | $\alpha$, $\beta$ | Ritz values, their $s$, the residuals | (7) |
| `extreme_eigenpairs` | an operator, how many, which end | eigenpairs, and how it went | (7) |
| `arnoldi` | an operator, a start, a number of steps | $Q_{m+1}$ and $H$ | (2), (3) |
| `arnoldi_ritz` | $H$ | Ritz values, their $s$, the residuals | (7) |

An *operator* is whatever has a `shape` and can be multiplied with a vector by `@`: an array, a sparse array of SciPy,
its `LinearOperator`, or a function, wrapped in the `MatrixFree` that is given. Given as well are the product with it
(`_product`), the length of a vector (`_length`), (6) (`_broke_down`), `_krylov`, which makes the result of `extend`,
and `_grow`, which extends to so many steps and goes on after a breakdown. `project_out` of `linalg/gram_schmidt` takes
from a vector its parts along orthonormal ones. NumPy's `eigh` and `eig` are welcome for the small matrices.

## Pitfalls

- The largest eigenvalue is listed three times, with the tiniest residuals.
- The basis is orthonormal for twenty steps and then no longer, although each column is orthogonal to the one before.
- After a few steps everything is NaN, on a matrix of low rank.
- The memory runs full although the matrix is sparse.
- An eigenvalue that occurs twice is found once: all of the Krylov space knows one vector of its eigenspace, the part of
  the start in it. If rounding brings in the other, then late.
- The smallest eigenvalues of a Laplacian take for ever, and the largest of its inverse no time.

## Cost

A step has one product and, with (10), $4 n j$ operations: $m$ products and $2 n m^2$ in all, plus $O(m^3)$ for the
small matrix. Without (10) it would be $10 n m$, and three vectors instead of all, if only eigenvalues are wanted. The
memory is the basis: $n (m + 1)$ numbers for `lanczos`, up to twice as many in `extreme_eigenpairs` while the basis
grows. 100 steps on the Laplacian of a $400 \times 500$ grid, with 200,000 nodes, took 170 MB (162 of them the basis)
and 1.1 seconds; the full matrix would have 320 GB.

Where that is too much, one *restarts* with the best Ritz vectors: SciPy's `eigsh` (ARPACK) keeps a basis of $2 k + 1$
or 20 vectors and restarts it implicitly, for which it pays in products. Ours takes 1.0 to 1.5 times as long as it does,
for six eigenpairs of a graph of 200,000 nodes and of the inverse of that grid's Laplacian, and for four of a dense
1,500 × 1,500 matrix.

## Go further

Experiment: the smallest eigenvalues of the grid's Laplacian are crowded near 0 in comparison to the spread, 8. Count
the steps to the second smallest of a $40 \times 50$ grid. Then hand over the operator
$x \mapsto (L + 0.01\, I)^{-1} x$, with a sparse factorisation or a fast cosine transform, ask for the largest, and
explain the difference by (8). A stretch goal: the thick restart. When the basis is full, keep the $k + 5$ best Ritz
vectors and $q_{m+1}$, whose projected matrix is diagonal with a border of $\beta_m s_{m i}$, and go on from there in
the same memory.

## References

1. Lanczos (1950), An iteration method for the solution of the eigenvalue problem, https://doi.org/10.6028/jres.045.026
2. Saad (2011), Numerical Methods for Large Eigenvalue Problems, chapter 6, https://doi.org/10.1137/1.9781611970739
3. Paige (1976), Error analysis of the Lanczos algorithm for tridiagonalizing a symmetric matrix,
   https://doi.org/10.1093/imamat/18.3.341
4. Arnoldi (1951), The principle of minimized iterations, https://doi.org/10.1090/qam/42792
5. Wu & Simon (2000), Thick-restart Lanczos method for large symmetric eigenvalue problems,
   https://doi.org/10.1137/S0895479898334605
"""

# 8 parts to write. Test them with: pytest exercises/linalg/lanczos.py
# To be written without: scipy.linalg, scipy.sparse.linalg, numpy.linalg.qr

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from jaxtyping import Float, Inexact

from mlpath.linalg._shared import real_array
from mlpath.linalg.gram_schmidt import project_out


class Operator(Protocol):  # given
    """What can be multiplied with a vector: an array, a sparse array, a LinearOperator, a `MatrixFree`.

    Examples
    --------
    >>> operator: Operator = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> print(operator.shape, operator @ np.array([1.0, 0.0]))
    (2, 2) [2. 1.]
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of rows and columns."""
        ...

    def __matmul__(self, x: Any, /) -> Any:
        """The product with a vector."""
        ...


@dataclass(frozen=True)
class MatrixFree:  # given
    """An operator made of a function, of which there is no matrix.

    Attributes
    ----------
    function : callable
        Returns the product of the operator with a vector.
    n : int
        The number of entries of the vectors.

    Examples
    --------
    >>> double = MatrixFree(lambda x: 2 * x, 3)
    >>> print(double.shape, double @ np.array([1.0, 2.0, 5.0]))
    (3, 3) [ 2.  4. 10.]
    """

    function: Callable[[np.ndarray], np.ndarray]
    n: int

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return self.n, self.n

    def __matmul__(self, x: np.ndarray, /) -> np.ndarray:
        """Return the product with a vector."""
        return self.function(x)


@dataclass(frozen=True)
class Krylov:
    """What `m` steps of Lanczos have made, equation (5).

    Attributes
    ----------
    q : ndarray of shape (n, m + 1), or (n, m) if `invariant`
        The columns q_1, q_2, ...: the basis, and the vector with which the next step begins.
    alpha : ndarray of shape (m,)
        The diagonal of T.
    beta : ndarray of shape (m,)
        What stands beside the diagonal, and last the length of the remainder, 0 if `invariant`.
    invariant : bool
        Whether the last step broke down (6): the basis spans an invariant subspace.

    Examples
    --------
    >>> Krylov(np.eye(2)[:, :1], np.array([5.0]), np.array([0.0]), invariant=True).alpha
    array([5.])
    """

    # Axes without names: `extend` takes one of these and returns a longer one.
    q: Float[np.ndarray, "n _"]
    alpha: Float[np.ndarray, " _"]
    beta: Float[np.ndarray, " _"]
    invariant: bool


@dataclass(frozen=True)
class Arnoldi:
    """What `m` steps of Arnoldi have made, equation (3): A times the first m columns of `q` is `q @ h`.

    Attributes
    ----------
    q : ndarray of shape (n, m + 1), or (n, m) if `invariant`
        Orthonormal columns q_1, q_2, ...
    h : ndarray of shape (m + 1, m), or (m, m) if `invariant`
        The coefficients (2), with exact zeros below the subdiagonal.
    invariant : bool
        Whether the last step broke down: the basis spans an invariant subspace.

    Examples
    --------
    >>> Arnoldi(np.eye(2)[:, :1], np.array([[5.0]]), invariant=True).h
    array([[5.]])
    """

    q: Float[np.ndarray, "n n_vectors"]
    h: Float[np.ndarray, "n_vectors m"]
    invariant: bool


@dataclass(frozen=True)
class Ritz:
    """Ritz values, the coefficients of their vectors, and their residuals, equation (7).

    Attributes
    ----------
    values : ndarray of shape (m,)
        The eigenvalues of the small matrix.
    coefficients : ndarray of shape (m, m)
        Their eigenvectors s, of length 1, one a column, with any sign or complex factor: the Ritz vectors are
        `q[:, :m] @ coefficients`.
    residuals : ndarray of shape (m,)
        The lengths of the residuals.

    Examples
    --------
    >>> Ritz(np.array([2.0]), np.array([[1.0]]), np.array([0.0])).values
    array([2.])
    """

    values: Inexact[np.ndarray, " m"]
    coefficients: Inexact[np.ndarray, "m m"]
    residuals: Float[np.ndarray, " m"]


@dataclass(frozen=True)
class Eigenpairs:
    """Eigenpairs at one end of the spectrum, and how they were found.

    Attributes
    ----------
    values : ndarray of shape (k,)
        Eigenvalues, the most extreme first.
    vectors : ndarray of shape (n, k)
        Orthonormal eigenvectors, one a column, each with either sign.
    residuals : ndarray of shape (k,)
        The lengths (7) of the residuals. Rounding may leave a little more than they say.
    steps : int
        The number of Lanczos steps, which is the size of the basis.
    converged : bool
        Whether all residuals are small enough. If not, these are no eigenpairs yet.

    Examples
    --------
    >>> Eigenpairs(np.array([2.0]), np.array([[1.0]]), np.array([0.0]), steps=1, converged=True).values
    array([2.])
    """

    values: Float[np.ndarray, " k"]
    vectors: Float[np.ndarray, "n k"]
    residuals: Float[np.ndarray, " k"]
    steps: int
    converged: bool


def _size(operator: Operator) -> int:  # given: argument checks
    """Return the number of rows of a square operator, or say why it is none."""
    shape = getattr(operator, "shape", ())
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise ValueError(f"operator must be square, and not empty, got the shape {shape}")
    return int(shape[0])


def _product(operator: Operator, x: np.ndarray) -> np.ndarray:  # given: one product, checked
    """Return the product of an operator with a vector, in the precision of the vector."""
    product = np.asarray(operator @ x)
    if product.shape != x.shape or product.dtype.kind not in "fiu":
        raise ValueError(f"operator must return {len(x)} real numbers, got {product.dtype} of shape {product.shape}")
    if not np.isfinite(product).all():
        raise ValueError("operator must return finite numbers, got some that are not")
    return product.astype(x.dtype, copy=False)


def _check_symmetric(operator: Operator) -> None:  # given: argument checks
    """Raise a ValueError unless x' A y = y' A x for a pair of random vectors, which tells (almost surely) symmetry."""
    x, y = np.random.default_rng(0).normal(size=(2, _size(operator)))
    ax, ay = _product(operator, x), _product(operator, y)
    # Scaled, so that no product overflows or vanishes. A single-precision operator rounds at single precision.
    largest = max(float(np.abs(ax).max()), float(np.abs(ay).max())) or 1.0
    ax, ay = ax / largest, ay / largest
    single = getattr(operator, "dtype", None) == np.float32
    allowed = 1000 * np.finfo(np.float32 if single else np.float64).eps
    if abs(x @ ay - y @ ax) > allowed * (
        np.linalg.norm(ax) * np.linalg.norm(y) + np.linalg.norm(ay) * np.linalg.norm(x)
    ):
        raise ValueError("operator must be symmetric, but x' A y and y' A x differ")


def _start(values: np.ndarray, operator: Operator) -> np.ndarray:  # given: argument checks
    """Return a start of as many entries as the operator has rows, not all zero, or say why it is none."""
    start = real_array(values, "start", ndim=1)
    if len(start) != _size(operator):
        raise ValueError(f"start must have {_size(operator)} entries, got the shape {start.shape}")
    if not start.any():
        raise ValueError(f"start must not be zero, got {start}")
    return start


def _check_steps(n_steps: int) -> None:  # given: argument checks
    if n_steps != int(n_steps) or n_steps < 1:
        raise ValueError(f"n_steps must be a whole number of at least 1, got {n_steps}")


def _length(x: np.ndarray) -> float:  # given: the norm of tiny and huge vectors too
    """Return the Euclidean norm. The vector is scaled first, so that no square overflows or vanishes."""
    largest = float(np.abs(x).max())
    return largest * float(np.linalg.norm(x / largest)) if largest > 0 else 0.0


def _broke_down(length: float, entries: Any, n: int, dtype: np.dtype) -> bool:  # given: criterion (6)
    """Return whether the length of a remainder is mere rounding beside the entries of the small matrix so far."""
    return bool(length <= 10 * n**0.5 * float(np.finfo(dtype).eps) * np.abs(entries).max())


def _krylov(q: np.ndarray, alpha: list[float], beta: list[float]) -> Krylov:  # given: the result of `extend`
    """Return the basis, cut to the columns that there are: one more than steps, unless the last beta is 0."""
    columns = q[:, : len(alpha) + (beta[-1] != 0)]
    return Krylov(columns, np.array(alpha, dtype=q.dtype), np.array(beta, dtype=q.dtype), beta[-1] == 0)


def grid_laplacian(x: Float[np.ndarray, " n"], shape: tuple[int, int]) -> Float[np.ndarray, " n"]:
    """Return the product of the Laplacian (1) of a grid with a vector, without a matrix.

    Parameters
    ----------
    x : ndarray
        A value for each node of the grid, row by row.
    shape : tuple of int
        The numbers of rows and columns of the grid. One row alone is a path.

    Returns
    -------
    ndarray
        The sum, for each node, of the differences from its neighbours above, below, on the left and on the right, as
        far as there are any. In float32 if `x` is.

    Raises
    ------
    ValueError
        If `x` is not a vector of real, finite numbers, one for each node.

    Examples
    --------
    >>> print(grid_laplacian(np.array([1.0, 2.0, 5.0, 0.0, 0.0, 0.0]), (2, 3)))
    [ 0.  0.  8. -1. -2. -5.]
    """
    # given: the checks
    x = real_array(x, "x", ndim=1)
    if min(shape) < 1 or len(x) != shape[0] * shape[1]:
        raise ValueError(f"x must have a value for each node of a grid of the shape {shape}, got the shape {x.shape}")
    raise NotImplementedError("not written yet: grid_laplacian")


def lanczos_step(
    operator: Operator, q: Float[np.ndarray, "n j"], beta: float, *, reorthogonalize: bool = True
) -> tuple[float, Float[np.ndarray, " n"]]:
    r"""Return the next diagonal entry, and what is left of the product, equation (4).

    Parameters
    ----------
    operator : Operator
        The symmetric operator.
    q : ndarray
        The basis so far, $q_1, \dots, q_j$, of orthonormal columns. The last is multiplied.
    beta : float
        $\beta_{j-1}$, which belongs to the last column but one. Not used if there is one column only.
    reorthogonalize : bool
        Whether to take from the remainder once more its parts along all columns, equation (10).

    Returns
    -------
    alpha : float
        $\alpha_j$.
    remainder : ndarray
        $w_j$, not scaled. In float32 if `q` is.

    Raises
    ------
    ValueError
        If `operator` is not square, its product is not finite, or `q` does not have as many rows.

    Examples
    --------
    >>> alpha, remainder = lanczos_step(np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[0.6], [0.8]]), 0.0)
    >>> print(round(alpha, 4), remainder.round(4))
    3.6 [-0.16  0.12]
    """
    # given: the check
    if q.ndim != 2 or len(q) != _size(operator) or q.shape[1] == 0:
        raise ValueError(f"q must have the shape ({_size(operator)}, j) with j > 0, got {q.shape}")
    raise NotImplementedError("not written yet: lanczos_step")


def extend(operator: Operator, krylov: Krylov, n_steps: int, *, reorthogonalize: bool = True) -> Krylov:
    """Return the basis after some more steps (4).

    Parameters
    ----------
    operator : Operator
        The symmetric operator.
    krylov : Krylov
        What there is. It is not changed. It may be a start: one column of length 1, with no `alpha` and no `beta`.
    n_steps : int
        How many steps to add.
    reorthogonalize : bool
        As in `lanczos_step`.

    Returns
    -------
    Krylov
        With `n_steps` more entries of `alpha` and `beta`, and as many more columns. If a step breaks down by (6), it is
        the last: its `beta` is 0, it adds no column, and `invariant` is true. What is invariant already comes back as
        it is.

    Raises
    ------
    ValueError
        If `n_steps` is not a whole number of at least 1, or `operator` is refused as by `lanczos_step`.

    Examples
    --------
    >>> start = Krylov(np.array([[1.0], [0.0], [0.0]]), np.zeros(0), np.zeros(0), invariant=False)
    >>> krylov = extend(np.array([[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]]), start, 2)
    >>> print(krylov.alpha, krylov.beta)
    [1. 2.] [1. 1.]
    """
    # given: the checks
    _check_steps(n_steps)
    n = _size(operator)
    if krylov.invariant:
        return krylov
    raise NotImplementedError("not written yet: extend")


def lanczos(
    operator: Operator, start: Float[np.ndarray, " n"], n_steps: int, *, reorthogonalize: bool = True
) -> Krylov:
    r"""Return the basis and the tridiagonal matrix after some steps of Lanczos from a start, equations (4) and (5).

    Parameters
    ----------
    operator : Operator
        The symmetric operator. Two products are spent to check that it is.
    start : ndarray
        The first vector $v$, of any length but zero. If it is float32, so is all that comes back.
    n_steps : int
        The number of steps $m$.
    reorthogonalize : bool
        As in `lanczos_step`. Without it there may be more steps than rows, but the columns do not stay orthogonal.

    Returns
    -------
    Krylov
        As from `extend`. With re-orthogonalisation there are at most n steps, after which everything is invariant.

    Raises
    ------
    ValueError
        If `operator` is not square or not symmetric, its product is not finite, `start` is not a vector of real, finite
        numbers that fits and is not zero, or `n_steps` is not a whole number of at least 1.

    Examples
    --------
    >>> a = np.array([[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]])
    >>> krylov = lanczos(a, np.array([2.0, 0.0, 0.0]), 10)
    >>> print(krylov.alpha, krylov.beta, krylov.q.shape, krylov.invariant)
    [1. 2. 1.] [1. 1. 0.] (3, 3) True
    """
    # given: the checks
    start = _start(start, operator)
    _check_symmetric(operator)
    _check_steps(n_steps)
    raise NotImplementedError("not written yet: lanczos")


def lanczos_ritz(alpha: Float[np.ndarray, " m"], beta: Float[np.ndarray, " m"]) -> Ritz:
    """Return the Ritz values of a symmetric operator, and the lengths of their residuals, equation (7).

    Parameters
    ----------
    alpha : ndarray
        The diagonal of T.
    beta : ndarray
        What stands beside the diagonal, and last the length of the remainder.

    Returns
    -------
    Ritz
        With values that rise.

    Raises
    ------
    ValueError
        If `alpha` or `beta` are not vectors of real, finite numbers, of the same length, or `beta` has negative ones.

    Examples
    --------
    >>> ritz = lanczos_ritz(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    >>> print(ritz.values.round(4), ritz.residuals.round(4))
    [0.382 2.618] [0.5257 0.8507]
    """
    # given: the checks
    alpha, beta = real_array(alpha, "alpha", ndim=1), real_array(beta, "beta", ndim=1)
    if len(alpha) != len(beta):
        raise ValueError(f"beta must have as many entries as alpha, {len(alpha)}, got {len(beta)}")
    if (beta < 0).any():
        raise ValueError(f"beta must not be negative, got {beta}")
    raise NotImplementedError("not written yet: lanczos_ritz")


def _grow(  # given: what to do after a breakdown
    operator: Operator, krylov: Krylov, n_steps: int, limit: int, rng: np.random.Generator
) -> Krylov:
    """Extend to so many steps in all. After a breakdown go on, up to the limit at once, orthogonally to the basis.

    Pairs of an invariant subspace are exact, but others as extreme may be hidden in its complement.
    """
    before = len(krylov.alpha)
    if n_steps > before:
        krylov = extend(operator, krylov, n_steps - before)
        if len(krylov.alpha) <= before and not krylov.invariant:
            raise RuntimeError(f"extend added no steps: there were {before}, and there are {len(krylov.alpha)}")
    while krylov.invariant and len(krylov.alpha) < limit:
        fresh = rng.normal(size=len(krylov.q)).astype(krylov.q.dtype)
        for _ in range(2):
            fresh, _ = project_out(fresh / np.linalg.norm(fresh), krylov.q)
        q = np.column_stack([krylov.q, fresh / np.linalg.norm(fresh)])
        krylov = extend(operator, Krylov(q, krylov.alpha, krylov.beta, False), limit - len(krylov.alpha))
    return krylov


def _setting(  # given: argument checks
    operator: Operator, k: int, which: str, tol: float | None, max_steps: int
) -> tuple[int, type, float, int]:
    """Return the size of the operator, the precision, the tolerance, and the most steps, or say what is wrong."""
    n = _size(operator)
    if k != int(k) or not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to {n}, got {k}")
    if which not in ("largest", "smallest"):
        raise ValueError(f'which must be "largest" or "smallest", got {which!r}')
    if max_steps < k:
        raise ValueError(f"max_steps must be at least k = {k}, got {max_steps}")
    dtype = np.float32 if getattr(operator, "dtype", None) == np.float32 else np.float64
    allowed = float(np.finfo(dtype).eps) ** (2 / 3) if tol is None else float(tol)
    if not 0 < allowed < np.inf:
        raise ValueError(f"tol must be positive and finite, got {tol}")
    return n, dtype, allowed, min(max_steps, n)


def extreme_eigenpairs(
    operator: Operator,
    k: int,
    *,
    which: Literal["largest", "smallest"] = "largest",
    rng: np.random.Generator,
    tol: float | None = None,
    max_steps: int = 300,
) -> Eigenpairs:
    r"""Return the `k` largest or smallest eigenpairs of a symmetric operator: steps of Lanczos until (7) is small.

    Parameters
    ----------
    operator : Operator
        The symmetric operator.
    k : int
        How many, from 1 to n.
    which : {"largest", "smallest"}
        Which end of the spectrum. Signs count: -5 is smaller than 1.
    rng : Generator
        For the start.
    tol : float, optional
        The residuals (7) that are small enough, relative to the largest modulus of all Ritz values. By default the
        rounding unit to the power 2/3: 4e-11, or 2e-5 if the `dtype` of the operator is float32.
    max_steps : int
        The most steps, at least `k`. There are never more than n. The memory is up to twice as many vectors.

    Returns
    -------
    Eigenpairs
        From the largest down, or from the smallest up. If `max_steps` were too few, `converged` is false. An eigenvalue
        that occurs several times may be listed fewer times, unless the Krylov space breaks down; then it is complete,
        if `max_steps` suffice.

    Raises
    ------
    ValueError
        If `operator` is refused as by `lanczos`, `k` is not from 1 to n, `which` is neither of the two, `tol` is not
        positive and finite, or `max_steps` is below `k`.

    Examples
    --------
    >>> pairs = extreme_eigenpairs(np.diag(np.arange(50.0) ** 2), 2, rng=np.random.default_rng(0))
    >>> print(pairs.values.round(4), pairs.converged)
    [2401. 2304.] True
    """
    # given: the checks
    n, dtype, allowed, limit = _setting(operator, k, which, tol, max_steps)
    raise NotImplementedError("not written yet: extreme_eigenpairs")


def arnoldi(operator: Operator, start: Float[np.ndarray, " n"], n_steps: int) -> Arnoldi:
    """Return the basis and the coefficients after some steps of Arnoldi, equations (2) and (3).

    Parameters
    ----------
    operator : Operator
        The operator. It need not be symmetric.
    start : ndarray
        The first vector, of any length but zero. If it is float32, so is all that comes back.
    n_steps : int
        The number of steps $m$.

    Returns
    -------
    Arnoldi
        With columns that are orthonormal to rounding, from two passes of (2) in each step. If a step breaks down, by
        (6) with all entries of H for those of T, it is the last, and it adds neither a column to `q` nor a row to `h`.
        There are at most n steps.

    Raises
    ------
    ValueError
        If an argument is refused as by `lanczos`, except that `operator` need not be symmetric.

    Examples
    --------
    >>> shift = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> found = arnoldi(shift, np.array([5.0, 0.0, 0.0]), 2)
    >>> print(found.h, found.q.shape, found.invariant)
    [[0. 0.]
     [1. 0.]
     [0. 1.]] (3, 3) False
    """
    # given: the checks
    start = _start(start, operator)
    _check_steps(n_steps)
    n = _size(operator)
    raise NotImplementedError("not written yet: arnoldi")


def arnoldi_ritz(h: Float[np.ndarray, "n_vectors m"]) -> Ritz:
    """Return the Ritz values of any operator, and the lengths of their residuals, equation (7).

    Parameters
    ----------
    h : ndarray
        The coefficients: m columns, and m + 1 rows, or m if the space is invariant.

    Returns
    -------
    Ritz
        In any order, real or complex. The residuals are 0 if the space is invariant.

    Raises
    ------
    ValueError
        If `h` is not a matrix of real, finite numbers, with as many rows as columns or one more.

    Examples
    --------
    >>> ritz = arnoldi_ritz(np.array([[1.0, -2.0], [2.0, 1.0], [0.0, 0.5]]))
    >>> print(ritz.values.round(4), ritz.residuals.round(4))
    [1.+2.j 1.-2.j] [0.3536 0.3536]
    """
    # given: the check
    h = real_array(h, "h", ndim=2)
    if h.shape[0] - h.shape[1] not in (0, 1):
        raise ValueError(f"h must have as many rows as columns, or one more, got the shape {h.shape}")
    raise NotImplementedError("not written yet: arnoldi_ritz")
