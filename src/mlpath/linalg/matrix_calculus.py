r"""Matrix calculus: gradients by matrices, Kronecker products, and Jacobians of matrices by matrices.

## Idea

Derivatives by a matrix need no new calculus and no table. Write down how much the function changes when the matrix
changes a little, to first order; bring it into the form of a scalar product with the change; what stands on the other
side is the gradient. Everything in this exercise comes from that one step, and every result can be checked against a
difference of two values. It is how the gradients of least squares, of a Gaussian's log density and of a regularised
network are found.

## Maths

**Differentials.** Let $f(X)$ be a number and $V$ a change of $X \in \mathbb{R}^{m \times n}$. The part of
$f(X + V) - f(X)$ that is linear in $V$ is the differential $df$, and the gradient $G$ is the matrix with

$$df = \langle G, V \rangle = \sum_{ij} G_{ij} V_{ij} = \operatorname{tr}(G^\top V). \tag{1}$$

So $G$ has the shape of $X$. (That is the *layout* used here and by every library that trains something. Books that call
the transpose the derivative use another.) For bringing terms into this form there are two rules of the trace: factors
may be moved from the end to the front, and a matrix may be transposed,

$$\operatorname{tr}(A B C) = \operatorname{tr}(C A B), \qquad \operatorname{tr}(A) = \operatorname{tr}(A^\top). \tag{2}$$

*Quadratic form.* $f(x) = x^\top A x + b^\top x$ changes by $v^\top A x + x^\top A v + b^\top v$; a number is its own
transpose, so that

$$df = \big( A x + A^\top x + b \big)^\top v. \tag{3}$$

*Trace.* $f(X) = \operatorname{tr}(A X B)$ is linear: $df = \operatorname{tr}(A V B)$, and (2) moves $V$ to the end:

$$df = \operatorname{tr}(B A V), \qquad \text{so that } G^\top = B A. \tag{4}$$

*Log-determinant.* Multiplying out, $\det(I + E) = 1 + \operatorname{tr} E$ to first order, as all other products of
entries hold at least two small ones. With $X + V = X (I + X^{-1} V)$

$$d \log \lvert \det X \rvert = \operatorname{tr}(X^{-1} V). \tag{5}$$

*Inverse.* Differentiating $X X^{-1} = I$ by the product rule gives $V X^{-1} + X\, d(X^{-1}) = 0$, so

$$d(X^{-1}) = -X^{-1}\, V\, X^{-1}, \qquad d\big( a^\top X^{-1} b \big) = -\big( a^\top X^{-1} \big)\, V\, \big( X^{-1} b \big). \tag{6}$$

The second is a number of the form $p^\top V q$, whose gradient is the outer product of $p$ and $q$.

*Norms.* Let $X = U \Sigma W^\top$ be the reduced singular value decomposition, $\sigma_1 \ge \sigma_2 \ge \dots$ . A
simple singular value changes by $d\sigma_i = u_i^\top V w_i$. Hence

$$\lVert X \rVert_F: \; G = \frac{X}{\lVert X \rVert_F}, \qquad
\lVert X \rVert_2 = \sigma_1: \; G = u_1 w_1^\top, \qquad
\lVert X \rVert_* = \sum_i \sigma_i: \; G = U W^\top. \tag{7}$$

Each norm has corners: the first at $X = 0$; the second where $\sigma_1 = \sigma_2$; the third where a singular
value is 0. There is no gradient there.

**Vectors from matrices.** $\operatorname{vec} X$ stacks the *columns* of $X$. The Kronecker product replaces each entry
of $A$ by that entry times $B$:

$$A \otimes B = \begin{pmatrix} a_{11} B & a_{12} B & \cdots \\ a_{21} B & a_{22} B & \cdots \\ \vdots & \vdots & \end{pmatrix}. \tag{8}$$

Column $j$ of $A X B$ is $A X$ times column $j$ of $B$, which is $\sum_k b_{kj}\, A x_k$. Stacked, that reads

$$\operatorname{vec}(A X B) = (B^\top \otimes A) \operatorname{vec} X. \tag{9}$$

Transposing moves entries: the *commutation matrix* $K_{mn}$, $mn$ by $mn$, is the permutation with

$$K_{mn} \operatorname{vec} X = \operatorname{vec} X^\top \qquad \text{for all } X \in \mathbb{R}^{m \times n}. \tag{10}$$

**Jacobians.** For a function $F$ from matrices to matrices let $J$ be the matrix with
$d \operatorname{vec} F = J \operatorname{vec} V$: a row for each output, a column for each input. Differentials, (9)
and (10) give it. For the Gram matrix $F(X) = X^\top X$,

$$dF = V^\top X + X^\top V. \tag{11}$$

Write the first term as the transpose of the second, then each as a product as in (9), with an identity for the factor
that is missing. For the inverse, (6) and (9) give $J = -(X^{-\top} \otimes X^{-1})$.

## Worked example

$f(X) = \operatorname{tr}(A X B)$ with $A = (1, 2)$, one row, and $B = (3, 4, 5)^\top$, one column, so that $X$ is 2 by
3 and $f = \sum_{ij} a_i x_{ij} b_j$. The derivative by $x_{21}$ is $a_2 b_1 = 6$. By (4)
$G^\top = BA = \begin{pmatrix} 3 & 6 \\ 4 & 8 \\ 5 & 10 \end{pmatrix}$, so
$G = \begin{pmatrix} 3 & 4 & 5 \\ 6 & 8 & 10 \end{pmatrix}$, with $6$ where row 2 meets column 1.

$K_{23}$ takes $\operatorname{vec} X = (x_{11}, x_{21}, x_{12}, x_{22}, x_{13}, x_{23})$ to $(x_{11}, x_{12}, x_{13},
x_{21}, x_{22}, x_{23})$, so its second row has its one in the third column.

## Plan

`differential` is (1) and `vec` is the stacking; both are given.

| part | takes | returns | by |
|---|---|---|---|
| `quadratic_gradient` | $A$, $b$, $x$ | the gradient by $x$ | (3) |
| `trace_gradient` | $A$, $B$ | the gradient of $\operatorname{tr}(AXB)$ by $X$ | (4) |
| `logdet_gradient` | $X$ | the gradient of $\log \lvert \det X \rvert$ | (5) |
| `inverse_gradient` | $X$, $a$, $b$ | the gradient of $a^\top X^{-1} b$ | (6) |
| `norm_gradient` | $X$, the name of a norm | its gradient | (7) |
| `kronecker` | $A$, $B$ | $A \otimes B$ | (8) |
| `commutation_matrix` | $m$, $n$ | $K_{mn}$ | (10) |
| `gram_jacobian` | $X$ | the Jacobian of $X^\top X$ | (11) |

## Pitfalls

- $2Ax$: right for symmetric $A$ only, and most examples have one.
- The gradient has the transposed shape, or the right shape for square matrices and transposed entries.
- NumPy's `ravel` stacks rows: with it (9) holds with the factors exchanged, and mixing both conventions is right for
  nothing.
- A symmetric $X$ whose entries above the diagonal are tied to those below has half as many variables. The gradient by
  these counts both places of an entry; (1) with symmetric $V$ needs no such correction.
- The determinant overflows for a few hundred rows, while its logarithm and that one's gradient are harmless.
- The gradient of a norm is asked for at a corner, as nuclear norms are at the low-rank matrices that they are used to
  find.

## Cost

Solving with $X$ costs $n^3$; the gradients by (5) and (6) cost no more, and forming $X^{-1}$ for (6) would cost three
times as much and lose digits. A Kronecker product has all products of two entries: for 100 by 100 matrices it takes 800
MB. It is for thinking: (9) from the right to the left turns such a system into two small ones.

## Go further

Experiment: maximise the log-likelihood of a Gaussian by its covariance, with gradients by (5) and (6), and see it
arrive at the sample covariance. A stretch goal: the second differential of $\log \det X$ is
$-\operatorname{tr}(X^{-1} V X^{-1} V)$. Write its Hessian with (9) and (10).

## References

1. Magnus & Neudecker (2019), Matrix differential calculus with applications in statistics and econometrics,
   https://doi.org/10.1002/9781119541219
2. Minka (2000), Old and new matrix algebra useful for statistics, https://tminka.github.io/papers/matrix/
3. Giles (2008), Collected matrix derivative results for forward and reverse mode algorithmic differentiation,
   https://doi.org/10.1007/978-3-540-68942-3_4
4. Watson (1992), Characterization of the subdifferential of some matrix norms,
   https://doi.org/10.1016/0024-3795(92)90407-2
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array, square_matrix

Matrix = Float[np.ndarray, "n_rows n_cols"]
Square = Float[np.ndarray, "n n"]
Vector = Float[np.ndarray, " n"]


def _vector_for(values: np.ndarray, name: str, n: int) -> np.ndarray:  # given: argument checks
    """Return a vector of `n` entries."""
    vector = real_array(values, name, ndim=1)
    if len(vector) != n:
        raise ValueError(f"{name} must have {n} entries, got {len(vector)}")
    return vector


def differential(gradient: Float[np.ndarray, "*shape"], change: Float[np.ndarray, "*shape"]) -> float:  # given
    """Return how much a function changes to first order, equation (1).

    Parameters
    ----------
    gradient : ndarray
        The gradient $G$.
    change : ndarray
        The change $V$, of the same shape.

    Returns
    -------
    float
        Their scalar product.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> differential(np.array([[3.0, 4.0], [6.0, 8.0]]), np.array([[0.0, 0.0], [0.1, 0.0]])).__round__(4)
    0.6
    """
    gradient, change = np.asarray(gradient), np.asarray(change)
    if gradient.shape != change.shape:
        raise ValueError(f"change must have the shape of the gradient, {gradient.shape}, got {change.shape}")
    return float(np.vdot(gradient, change))


def vec(x: Matrix) -> Float[np.ndarray, " n_entries"]:  # given
    """Return the columns of a matrix, stacked.

    Parameters
    ----------
    x : ndarray
        The matrix.

    Returns
    -------
    ndarray
        Its entries, column by column.

    Examples
    --------
    >>> vec(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    array([1., 4., 2., 5., 3., 6.])
    """
    return real_array(x, "x", ndim=2).ravel(order="F")


def quadratic_gradient(a: Square, b: Vector, x: Vector) -> Vector:
    """Return the gradient of $x^T A x + b^T x$ by $x$, equation (3).

    Parameters
    ----------
    a : ndarray
        The matrix $A$, symmetric or not.
    b, x : ndarray
        The vectors.

    Returns
    -------
    ndarray
        The gradient, of the shape of `x`.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, `a` is not square, or `b` or `x` does not fit it.

    Examples
    --------
    >>> quadratic_gradient(np.array([[1.0, 4.0], [0.0, 2.0]]), np.array([10.0, 20.0]), np.array([1.0, 3.0]))
    array([24., 36.])
    """
    # given: the checks
    a = square_matrix(a, "a")
    b, x = _vector_for(b, "b", len(a)), _vector_for(x, "x", len(a))
    # yours
    return a @ x + a.T @ x + b


def trace_gradient(a: Float[np.ndarray, "p m"], b: Float[np.ndarray, "n p"]) -> Float[np.ndarray, "m n"]:
    """Return the gradient of $tr(A X B)$ by $X$, equation (4). It is the same for all $X$.

    Parameters
    ----------
    a, b : ndarray
        The matrices $A$ and $B$, such that $A X B$ is square.

    Returns
    -------
    ndarray
        The gradient, of the shape of $X$.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or `b` has not as many columns as `a` has rows.

    Examples
    --------
    >>> trace_gradient(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0], [5.0]]))
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])
    """
    # given: the checks
    a, b = real_array(a, "a", ndim=2), real_array(b, "b", ndim=2)
    if b.shape[1] != a.shape[0]:
        raise ValueError(f"b must have as many columns as a has rows, {a.shape[0]}, got {b.shape[1]}")
    # yours
    return a.T @ b.T


def logdet_gradient(x: Square) -> Square:
    """Return the gradient of $log |det X|$, equation (5).

    Parameters
    ----------
    x : ndarray
        The matrix $X$, not singular; its determinant may have either sign, and any size.

    Returns
    -------
    ndarray
        The gradient, of the shape of $X$.

    Raises
    ------
    ValueError
        If `x` is not a square matrix of real, finite numbers.
    numpy.linalg.LinAlgError
        If it is singular.

    Examples
    --------
    >>> logdet_gradient(np.array([[1.0, 2.0], [0.0, 4.0]]))
    array([[ 1.  ,  0.  ],
           [-0.5 ,  0.25]])
    """
    # given: the check
    x = square_matrix(x, "x")
    # yours
    return np.linalg.inv(x).T


def inverse_gradient(x: Square, a: Vector, b: Vector) -> Square:
    """Return the gradient of $a^T X^{-1} b$ by $X$, equation (6).

    Parameters
    ----------
    x : ndarray
        The matrix $X$, not singular.
    a, b : ndarray
        The vectors.

    Returns
    -------
    ndarray
        The gradient, of the shape of $X$.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, `x` is not square, or `a` or `b` does not fit it.
    numpy.linalg.LinAlgError
        If `x` is singular.

    Examples
    --------
    >>> inverse_gradient(np.diag([1.0, 2.0]), np.array([1.0, 4.0]), np.array([3.0, 10.0]))
    array([[ -3.,  -5.],
           [ -6., -10.]])
    """
    # given: the checks
    x = square_matrix(x, "x")
    a, b = _vector_for(a, "a", len(x)), _vector_for(b, "b", len(x))
    # yours
    return -np.outer(np.linalg.solve(x.T, a), np.linalg.solve(x, b))


def norm_gradient(x: Matrix, norm: Literal["frobenius", "spectral", "nuclear"]) -> Matrix:
    """Return the gradient of a norm of a matrix, equation (7).

    Parameters
    ----------
    x : ndarray
        The matrix $X$.
    norm : {"frobenius", "spectral", "nuclear"}
        Which norm: the root of the sum of all squares, the largest singular value, or the sum of all singular values.

    Returns
    -------
    ndarray
        The gradient, of the shape of $X$.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers, there is no such norm, or the norm has a corner there: singular
        values count as equal, or as 0, if they differ by at most 1000 roundings of the largest.

    Examples
    --------
    >>> norm_gradient(np.array([[3.0, 0.0], [0.0, -4.0]]), "frobenius")
    array([[ 0.6,  0. ],
           [ 0. , -0.8]])
    >>> norm_gradient(np.array([[3.0, 0.0], [0.0, -4.0]]), "spectral") + 0.0
    array([[ 0.,  0.],
           [ 0., -1.]])
    """
    # given: the decomposition, and the corners
    x = real_array(x, "x", ndim=2)
    if norm not in ("frobenius", "spectral", "nuclear"):
        raise ValueError(f"norm must be frobenius, spectral or nuclear, got {norm!r}")
    u, s, wt = np.linalg.svd(x, full_matrices=False)
    nearly = 1000 * np.finfo(x.dtype).eps * s[0]
    corners = {"frobenius": s[0] == 0, "spectral": s[0] - np.append(s, 0)[1] <= nearly, "nuclear": s[-1] <= nearly}
    if corners[norm]:
        raise ValueError(f"x must be where the {norm} norm has a gradient, got singular values {s}")
    # yours
    if norm == "spectral":
        return np.outer(u[:, 0], wt[0])
    sizes = np.ones_like(s) if norm == "nuclear" else s / s[0] / np.linalg.norm(s / s[0])
    return (u * sizes) @ wt


def kronecker(a: Matrix, b: Float[np.ndarray, "p q"]) -> Float[np.ndarray, "n_rows*p n_cols*q"]:
    """Return the Kronecker product of two matrices, equation (8).

    Parameters
    ----------
    a, b : ndarray
        The matrices $A$ and $B$, of any shapes.

    Returns
    -------
    ndarray
        Blocks of the shape of $B$, arranged as the entries of $A$ are.

    Raises
    ------
    ValueError
        If the numbers are not real and finite.

    Examples
    --------
    >>> kronecker(np.array([[1.0, 10.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[ 1.,  2., 10., 20.],
           [ 3.,  4., 30., 40.]])
    """
    # given: the checks
    a, b = real_array(a, "a", ndim=2), real_array(b, "b", ndim=2)
    # yours
    blocks = a[:, None, :, None] * b[None, :, None, :]
    return blocks.reshape(len(a) * len(b), -1)


def commutation_matrix(m: int, n: int) -> Float[np.ndarray, "{m*n} {m*n}"]:
    """Return the matrix that takes the stacked columns of an `m` by `n` matrix to those of its transpose, equation (10).

    Parameters
    ----------
    m, n : int
        Rows and columns of the matrix that is transposed; at least 1.

    Returns
    -------
    ndarray
        A permutation matrix.

    Raises
    ------
    ValueError
        If `m` or `n` is below 1.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> commutation_matrix(2, 3) @ vec(x)
    array([1., 2., 3., 4., 5., 6.])
    """
    # given: the check
    for size, name in ((m, "m"), (n, "n")):
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
    # yours
    places = np.arange(m * n).reshape(m, n, order="F")  # of each entry in vec X
    return np.eye(m * n)[places.ravel()]


def gram_jacobian(x: Matrix) -> Float[np.ndarray, "n_cols*n_cols n_rows*n_cols"]:
    """Return the Jacobian of $X^T X$ by $X$, both stacked column by column, from equation (11).

    Parameters
    ----------
    x : ndarray
        The matrix $X$.

    Returns
    -------
    ndarray
        A row for each entry of $X^T X$, a column for each entry of $X$, both in the order of `vec`.

    Raises
    ------
    ValueError
        If `x` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> gram_jacobian(np.array([[1.0], [3.0]]))
    array([[2., 6.]])
    """
    # given: the check
    x = real_array(x, "x", ndim=2)
    # yours
    n = x.shape[1]
    half = kronecker(np.eye(n, dtype=x.dtype), x.T)
    return half + commutation_matrix(n, n).astype(x.dtype) @ half
