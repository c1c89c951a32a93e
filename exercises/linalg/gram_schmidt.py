r"""Gram-Schmidt: three ways to the same orthonormal vectors, and how much of the orthogonality each of them loses.

## Idea

Take vectors one by one. From each, subtract what points along those before it, and scale the rest to length 1. What
comes out is an orthonormal basis of the same space, in which projections and least squares are mere products. On
paper it does not matter in which order the subtractions are done. In floating point it decides whether the result is
orthogonal to sixteen digits, to eight, or not at all.

## Maths

**One vector.** Let the columns of $Q$ be orthonormal. The part of $v$ that lies in their space is $Q h$ with the
coefficients $h$, and the remainder $w$ is orthogonal to it:

$$h = Q^\top v, \qquad w = v - Q h. \tag{1}$$

Indeed $Q^\top w = Q^\top v - Q^\top Q\, h = h - h = 0$, because $Q^\top Q = I$.

**QR.** Let $A$ have $m \ge n$ rows and $n$ independent columns $a_1, \dots, a_n$. We look for orthonormal columns
$q_j$, such that the first $j$ of them span the same space as $a_1, \dots, a_j$, for every $j$. Then $a_j$ is a
mixture of $q_1, \dots, q_j$:

$$a_j = \sum_{i=1}^{j} r_{ij}\, q_i, \qquad \text{or} \qquad A = Q R \tag{2}$$

with an upper triangular $R$. If all $r_{jj} > 0$, then $Q$ and $R$ are unique: column by column, (2) leaves no choice
but the sign of $q_j$.

**Classical Gram-Schmidt** (CGS) applies (1) to each column, with the $q$ found so far:

$$r_{ij} = q_i^\top a_j \;\; (i < j), \qquad w_j = a_j - \sum_{i<j} r_{ij}\, q_i, \qquad
r_{jj} = \lVert w_j \rVert, \qquad q_j = w_j / r_{jj}. \tag{3}$$

**Modified Gram-Schmidt** (MGS) takes the coefficients from what is left of the column, instead of the column itself:

$$v_j^{(1)} = a_j, \qquad r_{ij} = q_i^\top v_j^{(i)}, \qquad v_j^{(i+1)} = v_j^{(i)} - r_{ij}\, q_i, \tag{4}$$

and $w_j = v_j^{(j)}$; then as in (3). On paper $q_i^\top v_j^{(i)} = q_i^\top a_j$, because what was subtracted is
orthogonal to $q_i$. With rounding it is so only nearly, and (4) sees the errors made so far and removes their part
along $q_i$, whereas (3) never looks at them again.

**Re-orthogonalisation** (CGS2) does (1) twice for each column: $w$ and $h$ from $a_j$, then $w'$ and $h'$ from $w$.
Both passes count:

$$r_{ij} = h_i + h'_i \;\; (i < j), \qquad r_{jj} = \lVert w' \rVert, \qquad q_j = w' / r_{jj}. \tag{5}$$

Let rounding leave in $w$ an error of $\varepsilon \lVert a_j \rVert$ along the earlier $q$. If $w$ is short, because
$a_j$ nearly depends on the columns before it, the error is a large share
$\varepsilon \lVert a_j \rVert / \lVert w \rVert$ of it. Now it is $w$ that is projected: its part along the earlier
$q$ is small, little is subtracted, and the new error is $\varepsilon$ of $\lVert w \rVert$ itself. A third pass would
find nothing to do: *twice is enough* [3]. The corrections $h'$ are at the size of rounding, some
$\varepsilon \lVert a_j \rVert$: they hardly change $R$. It is the direction of $q_j$ that they mend.

**Dependent columns.** If nothing but rounding is left of a column, there is no $q_j$. It counts as dependent on those
before it if

$$\lVert w_j \rVert \le 10\, m\, \varepsilon\, \lVert a_j \rVert, \tag{6}$$

with its own length on the right, so that the units of the columns do not matter.

**What is lost.** We measure

$$\lVert I - Q^\top Q \rVert_2. \tag{7}$$

With the condition number $\kappa$, the ratio of the largest to the least singular value of $A$, and constants $c$
that depend on $m$ and $n$ but not on $\kappa$:

$$\text{CGS: } c\, \varepsilon\, \kappa^2, \qquad \text{MGS: } c\, \varepsilon\, \kappa, \qquad
\text{CGS2: } c\, \varepsilon, \tag{8}$$

as long as these are well below 1 for CGS and MGS, and $\varepsilon \kappa$ is so for CGS2 [1, 3]. All three reproduce
the matrix, however bad its condition:

$$\lVert A - Q R \rVert \le c\, \varepsilon\, \lVert A \rVert. \tag{9}$$

Each subtraction is written down in $R$, errors and all, so the sum (2) comes out. A small residual (9) therefore says
*nothing* about orthogonality.

## Worked example

Läuchli's matrix has the columns $(1, e, 0, 0)$, $(1, 0, e, 0)$ and $(1, 0, 0, e)$. Let $e$ be so small that $1 + e^2$
is rounded to 1. All lengths are then 1, $q_1 = a_1$, and $r_{12} = r_{13} = 1$. The second column leaves
$(0, -e, e, 0)$, of length $e \sqrt 2$, so $q_2 = (0, -1, 1, 0) / \sqrt 2$.

For the third, CGS takes both coefficients from $a_3$: 1 and 0. It leaves $(0, -e, 0, e)$, and
$q_3 = (0, -1, 0, 1) / \sqrt 2$. The product of $q_2$ and $q_3$ is $1/2$: they are at 60 degrees. MGS takes the second
coefficient from $(0, -e, 0, e)$, which gives $e / \sqrt 2$, and leaves $(0, -e/2, -e/2, e)$. That is orthogonal to
$q_2$, and the worst that remains is $q_1^\top q_2 = -e / \sqrt 2$. The loss (7) is $\tfrac12$ for CGS, and
$e \sqrt{2/3}$ for MGS. The second pass of CGS2 removes that as well, and leaves rounding.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `project_out` | a vector, orthonormal columns | the remainder and the coefficients | (1) |
| `classical_gram_schmidt` | a matrix | $Q$ and $R$ | (3), (6) |
| `modified_gram_schmidt` | a matrix | $Q$ and $R$ | (4), (6) |
| `reorthogonalised_gram_schmidt` | a matrix | $Q$ and $R$ | (5), (6) |
| `loss_of_orthogonality` | $Q$ | one number | (7) |
| `compare_losses` | several matrices | their conditions, and the loss of each method on each | (7), (8) |

`_length` and `_diagonal` are given: the first is the Euclidean norm that neither overflows nor vanishes, the second
is $r_{jj}$, or an error by (6).

## Pitfalls

- $A = Q R$ holds to the last digit, and $Q$ is not orthogonal at all.
- Your classical and your modified method agree to the last bit on every matrix.
- The second pass changes nothing, and the loss is that of the classical method.
- All is well for a square matrix, and the wrong shape comes out for a tall one.

## Cost

CGS and MGS take $2 m n^2$ operations, and CGS2 twice as many. (3) and (5) are products of a matrix with a vector. (4)
is a product and a change of all later columns at once, if each new $q_i$ is removed from them as soon as it is known.
LAPACK's QR goes by Householder reflections in blocks: products of two matrices, which use the cache better. Ours is
unblocked, to be read. Beside `numpy.linalg.qr`, CGS, MGS and CGS2 take 1.4, 5.4 and 2.8 times as long for a 2,000 ×
200 matrix, 2.5 to 5 times for 400 × 100, and 11 to 15 times for 60 × 20, where Python's loop over the columns is what
counts.

Why then learn it? Krylov methods (Arnoldi, GMRES) get their vectors one at a time, and each must be made orthogonal
when it comes. That is Gram-Schmidt, mostly MGS or CGS2.

## Go further

An experiment: skip the second pass of CGS2 where $\lVert w \rVert > \lVert a_j \rVert / 2$, since then nothing much
was cancelled. On which of the matrices of the figure does it save half of the work, and what does it cost in
orthogonality? A stretch goal: least squares by MGS. Append $b$ to $A$ as a last column, and solve with the $R$ that
comes out: Björck [1] showed that it is as accurate as with reflections, in spite of (8).

## References

1. Björck (1967), Solving linear least squares problems by Gram-Schmidt orthogonalization,
   https://doi.org/10.1007/BF01934122
2. Björck (1994), Numerics of Gram-Schmidt orthogonalization, https://doi.org/10.1016/0024-3795(94)90493-6
3. Giraud, Langou, Rozložník & van den Eshof (2005), Rounding error analysis of the classical Gram-Schmidt
   orthogonalization process, https://doi.org/10.1007/s00211-005-0615-4
4. Läuchli (1961), Jordan-Elimination und Ausgleichung nach kleinsten Quadraten, https://doi.org/10.1007/BF01386022
"""

# 6 parts to write. Test them with: pytest exercises/linalg/gram_schmidt.py
# To be written without: numpy.linalg.qr, numpy.linalg.cholesky, scipy.linalg.qr, scipy.linalg.orth, scipy.linalg.cholesky, scipy.linalg.lapack

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.linalg._shared import real_array


@dataclass(frozen=True)
class Comparison:
    """How much orthogonality each method lost on each of several matrices.

    Attributes
    ----------
    conditions : ndarray of shape (n_matrices,)
        The condition number of each matrix, in the 2-norm.
    classical, modified, reorthogonalised : ndarray of shape (n_matrices,)
        The loss (7) of each method on each matrix.

    Examples
    --------
    >>> ones = np.ones(2)
    >>> print(Comparison(ones, classical=ones, modified=ones, reorthogonalised=ones).conditions)
    [1. 1.]
    """

    conditions: Float[np.ndarray, " n_matrices"]
    classical: Float[np.ndarray, " n_matrices"]
    modified: Float[np.ndarray, " n_matrices"]
    reorthogonalised: Float[np.ndarray, " n_matrices"]


def _tall(values: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return a matrix of at least as many rows as columns, or say why it is none."""
    a = real_array(values, "a", ndim=2)
    if a.shape[0] < a.shape[1]:
        raise ValueError(f"a must have at least as many rows as columns, got the shape {a.shape}")
    return a


def _length(x: np.ndarray) -> float:  # given: the norm of tiny and huge vectors too
    """Return the Euclidean norm. The vector is scaled first, so that no square overflows or vanishes."""
    largest = float(np.abs(x).max())
    return largest * float(np.linalg.norm(x / largest)) if largest > 0 else 0.0


def _diagonal(remainder: np.ndarray, a: np.ndarray, col: int) -> float:  # given: criterion (6)
    """Return the diagonal entry of R, the length of what is left of a column of `a`, unless that is mere rounding."""
    length = _length(remainder)
    if length <= 10 * len(a) * np.finfo(a.dtype).eps * _length(a[:, col]):
        raise np.linalg.LinAlgError(f"a must have independent columns, but column {col} depends on those before it")
    return length


def project_out(
    v: Float[np.ndarray, " n_rows"], q: Float[np.ndarray, "n_rows n_vectors"]
) -> tuple[Float[np.ndarray, " n_rows"], Float[np.ndarray, " n_vectors"]]:
    r"""Return what is left of a vector without its components along orthonormal ones, and these components: (1).

    Parameters
    ----------
    v : ndarray
        The vector.
    q : ndarray
        Orthonormal vectors, one a column; there may be none, of shape `(n_rows, 0)`. Rounding makes them orthonormal
        only nearly: every coefficient is of `v` itself even so.

    Returns
    -------
    remainder : ndarray
        The vector $w$.
    coefficients : ndarray
        $h$, one for each column of `q`.

    Raises
    ------
    ValueError
        If `v` is not a vector of real, finite numbers, or `q` is not a matrix with as many rows.

    Examples
    --------
    >>> q = np.array([[0.6], [0.8], [0.0]])
    >>> remainder, coefficients = project_out(np.array([5.0, 0.0, 2.0]), q)
    >>> print(remainder.round(4), coefficients.round(4))
    [ 3.2 -2.4  2. ] [3.]
    """
    # given: the checks
    v = real_array(v, "v", ndim=1)
    q = np.asarray(q)
    if q.ndim != 2 or len(q) != len(v):
        raise ValueError(f"q must have the shape ({len(v)}, n_vectors), got {q.shape}")
    raise NotImplementedError("not written yet: project_out")


def classical_gram_schmidt(
    a: Float[np.ndarray, "n_rows n_cols"],
) -> tuple[Float[np.ndarray, "n_rows n_cols"], Float[np.ndarray, "n_cols n_cols"]]:
    r"""Return the QR factorisation (2) by classical Gram-Schmidt, equation (3).

    Parameters
    ----------
    a : ndarray
        The matrix, with independent columns, and no more of them than rows.

    Returns
    -------
    q : ndarray
        Columns of length 1. Their loss of orthogonality grows with the square of the condition of `a`, (8).
    r : ndarray
        Upper triangular, with exact zeros below its diagonal and a positive diagonal. The residual of (2) is at the
        size of rounding.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or has more columns than rows.
    numpy.linalg.LinAlgError
        If a column depends on those before it by (6). The message names the first such column, counted from 0.

    Examples
    --------
    >>> q, r = classical_gram_schmidt(np.array([[3.0, 1.0], [4.0, 3.0], [0.0, 2.0]]))
    >>> print(q.round(4), r.round(4))
    [[ 0.6    -0.3578]
     [ 0.8     0.2683]
     [ 0.      0.8944]] [[5.     3.    ]
     [0.     2.2361]]
    """
    # given: the check
    a = _tall(a)
    raise NotImplementedError("not written yet: classical_gram_schmidt")


def modified_gram_schmidt(
    a: Float[np.ndarray, "n_rows n_cols"],
) -> tuple[Float[np.ndarray, "n_rows n_cols"], Float[np.ndarray, "n_cols n_cols"]]:
    r"""Return the QR factorisation (2) by modified Gram-Schmidt, equation (4).

    Parameters
    ----------
    a : ndarray
        The matrix, with independent columns, and no more of them than rows.

    Returns
    -------
    q : ndarray
        Columns of length 1. Their loss of orthogonality grows with the condition of `a`, (8).
    r : ndarray
        Upper triangular, with exact zeros below its diagonal and a positive diagonal. The residual of (2) is at the
        size of rounding.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or has more columns than rows.
    numpy.linalg.LinAlgError
        If a column depends on those before it by (6). The message names the first such column, counted from 0.

    Examples
    --------
    >>> q, r = modified_gram_schmidt(np.array([[3.0, 1.0], [4.0, 3.0], [0.0, 2.0]]))
    >>> print(r.round(4))
    [[5.     3.    ]
     [0.     2.2361]]
    """
    # given: the check
    a = _tall(a)
    raise NotImplementedError("not written yet: modified_gram_schmidt")


def reorthogonalised_gram_schmidt(
    a: Float[np.ndarray, "n_rows n_cols"],
) -> tuple[Float[np.ndarray, "n_rows n_cols"], Float[np.ndarray, "n_cols n_cols"]]:
    r"""Return the QR factorisation (2) by Gram-Schmidt with a second pass over each column, equation (5).

    Parameters
    ----------
    a : ndarray
        The matrix, with independent columns, and no more of them than rows.

    Returns
    -------
    q : ndarray
        Columns of length 1, orthogonal to the size of rounding whatever the condition of `a`, (8).
    r : ndarray
        Upper triangular, with exact zeros below its diagonal and a positive diagonal. The residual of (2) is at the
        size of rounding.

    Raises
    ------
    ValueError
        If `a` is not a matrix of real, finite numbers, or has more columns than rows.
    numpy.linalg.LinAlgError
        If a column depends on those before it by (6). The message names the first such column, counted from 0.

    Examples
    --------
    >>> q, r = reorthogonalised_gram_schmidt(np.array([[3.0, 1.0], [4.0, 3.0], [0.0, 2.0]]))
    >>> print(r.round(4))
    [[5.     3.    ]
     [0.     2.2361]]
    """
    # given: the check
    a = _tall(a)
    raise NotImplementedError("not written yet: reorthogonalised_gram_schmidt")


def loss_of_orthogonality(q: Float[np.ndarray, "n_rows n_cols"]) -> float:
    r"""Return how far columns are from being orthonormal, equation (7), in the spectral norm.

    Parameters
    ----------
    q : ndarray
        The columns.

    Returns
    -------
    float
        $\lVert I - Q^\top Q \rVert_2$: 0 for orthonormal columns, some 1e-16 after rounding.

    Raises
    ------
    ValueError
        If `q` is not a matrix of real, finite numbers.

    Examples
    --------
    >>> print(round(loss_of_orthogonality(np.array([[1.0, 0.6], [0.0, 0.8]])), 4))
    0.6
    """
    # given: the check
    q = real_array(q, "q", ndim=2)
    raise NotImplementedError("not written yet: loss_of_orthogonality")


def compare_losses(matrices: Sequence[Float[np.ndarray, "n_rows n_cols"]]) -> Comparison:
    r"""Return the condition of each matrix, and the loss (7) of each of the three methods on it, for a look at (8).

    Parameters
    ----------
    matrices : sequence of ndarray
        At least one matrix, each as the three methods want it. They may differ in shape.

    Returns
    -------
    Comparison
        Conditions and losses, in the order of the matrices.

    Raises
    ------
    ValueError
        If there are no matrices, or one of them is refused.
    numpy.linalg.LinAlgError
        If a matrix has dependent columns by (6).

    Examples
    --------
    >>> lauchli = np.array([[1.0, 1.0, 1.0], [1e-9, 0.0, 0.0], [0.0, 1e-9, 0.0], [0.0, 0.0, 1e-9]])
    >>> losses = compare_losses([np.eye(3), lauchli])
    >>> print(losses.classical, losses.modified.round(10))
    [0.  0.5] [0.e+00 8.e-10]
    """
    # given: the checks
    if not len(matrices):
        raise ValueError("matrices must hold at least one matrix, got none")
    matrices = [_tall(a) for a in matrices]
    raise NotImplementedError("not written yet: compare_losses")
