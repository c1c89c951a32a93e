r"""Tucker decomposition: a small core, and a basis for each mode.

## Idea

A photograph is a tensor of rows, columns and colours. Its columns are alike, its rows are alike, and its three colours
nearly say the same. Find a few directions that suffice for each mode, and write the tensor in them: what is left is a
small *core*, which says how much of each combination of directions there is. It is the SVD of each mode at once. It
compresses, it cleans, and unlike the CP decomposition it always exists and can be found, near enough, without
iterating.

## Maths

**Mode product.** To multiply a tensor $\mathcal X$ of the shape $I_1 \times \dots \times I_N$ by a $J \times I_n$
matrix $U$ along the mode $n$ is to multiply every one of its fibres of that mode:

$$(\mathcal X \times_n U)_{i_1 \dots j \dots i_N} = \sum_{i_n} x_{i_1 \dots i_n \dots i_N}\, u_{j i_n}. \tag{1}$$

The fibres are the columns of the unfolding, so that

$$\mathcal Y = \mathcal X \times_n U \iff Y_{(n)} = U X_{(n)}. \tag{2}$$

Products along different modes may change places. Along the same one,
$\mathcal X \times_n U \times_n V = \mathcal X \times_n (V U)$. For a matrix, $X \times_1 U \times_2 V = U X V^\top$.

**The model.** A core $\mathcal G$ of the shape $R_1 \times \dots \times R_N$, the *multilinear ranks*, and factors
$A_n$ of the shape $I_n \times R_n$ with orthonormal columns:

$$\mathcal X \approx \hat{\mathcal X} = \mathcal G \times_1 A_1 \times_2 A_2 \cdots \times_N A_N. \tag{3}$$

For given factors the best core is the projection, since orthonormal columns make least squares a transpose,

$$\mathcal G = \mathcal X \times_1 A_1^\top \cdots \times_N A_N^\top, \tag{4}$$

and then $\hat{\mathcal X}$ is orthogonal to what it misses. By Pythagoras, and as orthonormal columns change no length,

$$\lVert \mathcal X - \hat{\mathcal X} \rVert^2 = \lVert \mathcal X \rVert^2 - \lVert \mathcal G \rVert^2. \tag{5}$$

The smallest error is the largest core.

**HOSVD.** The higher-order SVD [1] looks at each mode by itself: with $\sigma^{(n)}_1 \ge \sigma^{(n)}_2 \ge \dots$ the
singular values of $X_{(n)}$,

$$A_n = \text{the first } R_n \text{ left singular vectors of } X_{(n)}. \tag{6}$$

Project mode after mode. Each projection takes off what is orthogonal to $A_n$ in what the others have left, and no
projection makes that larger. So

$$\max_n \sum_{i > R_n} \big(\sigma^{(n)}_i\big)^2 \;\le\; \lVert \mathcal X - \hat{\mathcal X} \rVert^2 \;\le\; \sum_{n=1}^{N} \sum_{i > R_n} \big(\sigma^{(n)}_i\big)^2. \tag{7}$$

The left side holds for any approximation with these ranks, for its unfolding is a matrix of rank $R_n$. The right side
is at most $N$ times the left one: the HOSVD is never worse than $\sqrt N$ times the best. With full ranks nothing is
lost, and the core is *all-orthogonal* and ordered, like the diagonal matrix of an SVD is: the rows of every unfolding
are orthogonal, of falling lengths,

$$G_{(n)} G_{(n)}^\top = \operatorname{diag}\big(\sigma^{(n)}_1, \sigma^{(n)}_2, \dots \big)^2. \tag{8}$$

**Sequentially truncated** [2]. Why decompose the whole tensor $N$ times? Project after each mode and go on with what is
left, smaller each time:

$$A_n \text{ from (6) of } \mathcal X^{(n - 1)}, \qquad \mathcal X^{(n)} = \mathcal X^{(n-1)} \times_n A_n^\top, \qquad \mathcal X^{(0)} = \mathcal X. \tag{9}$$

The last of them is the core. What is dropped at the steps is orthogonal to all that is dropped later, so the squared
error *is* the sum of squares of all singular values that are dropped on the way; these are not larger than those of
(7), which therefore holds again.

**HOOI.** Higher-order orthogonal iteration makes the core larger, one factor at a time [3]. With the others fixed,
$\lVert \mathcal G \rVert = \lVert A_n^\top Y_{(n)} \rVert$ for

$$\mathcal Y = \mathcal X \times_1 A_1^\top \cdots \times_N A_N^\top \text{ without the mode } n, \qquad A_n = \text{the first } R_n \text{ left singular vectors of } Y_{(n)}. \tag{10}$$

A *sweep* does so for each mode with the newest of the others, and the error never rises. It may end in a point that is
not the best of all; from a HOSVD it seldom does, and gains a little.

**Which ranks?** By (7) an error of at most $\varepsilon \lVert \mathcal X \rVert$ is sure if each mode drops at most
its share:

$$R_n = \text{the least } R \ge 1 \text{ with } \sum_{i > R} \big(\sigma^{(n)}_i\big)^2 \le \frac{\varepsilon^2}{N} \lVert \mathcal X \rVert^2. \tag{11}$$

Stored are the core and the factors, instead of all entries:

$$\text{ratio} = \frac{\prod_n I_n}{\prod_n R_n + \sum_n I_n R_n}. \tag{12}$$

The factors are not unique: turn the columns of $A_n$ by any rotation, and the core back. What is unique, as a rule, is
the space that they span.

## Worked example

$2 \times 2 \times 2$, with the slices $\begin{pmatrix} 3 & 0 \\ 0 & 1 \end{pmatrix}$ and
$\begin{pmatrix} 0 & 0 \\ 0 & 2 \end{pmatrix}$ for the first index. By (1) the product with $(1, -1)$ along the first
mode is the one slice $\begin{pmatrix} 3 & 0 \\ 0 & -1 \end{pmatrix}$.

$X_{(1)} = \begin{pmatrix} 3 & 0 & 0 & 1 \\ 0 & 0 & 0 & 2 \end{pmatrix}$ has
$X_{(1)} X_{(1)}^\top = \begin{pmatrix} 10 & 2 \\ 2 & 4 \end{pmatrix}$, with the eigenvalues $7 \pm \sqrt{13} = 10.606$
and $3.394$, the squares of the singular values. The other two unfoldings give $\operatorname{diag}(9, 5)$ both. So for
the ranks $(1, 1, 1)$ the squared error is by (7) at least 5 and at most $3.394 + 5 + 5 = 13.394$, of $14$. The HOSVD
has $A_1 \propto (1, 0.303)$, so $(0.957, 0.290)$, and $A_2 = A_3 = (1, 0)$; by (4) the core is $0.957 \cdot 3 = 2.871$
and by (5) the squared error $14 - 8.244 = 5.756$. HOOI sees in its first step by (10) only $\mathcal Y = (3, 0)$, turns
$A_1$ to $(1, 0)$, and the core becomes 3: the squared error is 5, the least possible.

To store that takes $1 + 2 + 2 + 2 = 7$ numbers instead of 8.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `mode_product` | a tensor, a matrix, a mode | $\mathcal X \times_n U$ | (1), (2) |
| `multi_mode_product` | a tensor, a matrix or none for each mode | all the products | (1) |
| `relative_error` | a tensor, its core | the error, relative | (5) |
| `hosvd` | a tensor, ranks | core and factors | (6), (4) |
| `sequential_hosvd` | a tensor, ranks | core and factors | (9) |
| `hooi_sweep` | a tensor, factors | core and better factors | (10) |
| `hooi` | a tensor, ranks | core, factors, and how it went | (10), (5) |
| `choose_ranks` | a tensor, $\varepsilon$ | ranks | (11) |

`unfold` and `fold` come from the CP decomposition; modes are counted from 0. Given are `_leading`, the first left
singular vectors of a matrix and all its singular values, `_norm`, which neither under- nor overflows, `reconstruct`,
which is (3), and `compression_ratio`, which is (12).

## Pitfalls

- Shapes fit, and numbers are wrong, where two modes have equally many entries: a transpose too many or too few.
- The singular values of photographs of different sizes seem to need different tolerances: what is $\varepsilon$
  relative to?
- The error comes out as NaN where the fit is perfect, or as 0 below $10^{-8}$: (5) is a difference of nearly equal
  numbers.
- The error of HOOI rises: a factor was found with old ones of the others.
- Someone else's factors have other signs, or are other columns altogether.

## Cost

An unfolding's singular vectors take about $2 I_n \prod_k I_k$ operations, by way of a QR decomposition that never forms
the long right singular vectors. HOSVD needs $N$ of them, the sequential one, one of the whole tensor and then smaller
ones: take the mode first that shrinks most. A sweep of HOOI costs $N$ projections of the whole tensor, some
$2 R_1 \prod_k I_k$ operations each. The benchmark finds the reference to take 0.6 to 0.9 times as long as tensorly.

## Go further

Experiment: the digits of scikit-learn are a $1797 \times 8 \times 8$ tensor. Which of the 8 directions for rows and
columns can be dropped, and what do they look like? A stretch goal: let `choose_ranks` give more of $\varepsilon$ to the
mode where it saves most by (12).

## References

1. De Lathauwer, De Moor & Vandewalle (2000), A multilinear singular value decomposition,
   https://doi.org/10.1137/S0895479896305696
2. Vannieuwenhoven, Vandebril & Meerbergen (2012), A new truncation strategy for the higher-order singular value
   decomposition, https://doi.org/10.1137/110836067
3. De Lathauwer, De Moor & Vandewalle (2000), On the best rank-1 and rank-(R1, R2, ..., RN) approximation of
   higher-order tensors, https://doi.org/10.1137/S0895479898346995
4. Kolda & Bader (2009), Tensor decompositions and applications, https://doi.org/10.1137/07070111X
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.linalg._shared import real_array
from mlpath.linalg.cp_decomposition import fold, unfold

NWay = Float[np.ndarray, "..."]
Factor = Float[np.ndarray, "n_entries rank"]


@dataclass(frozen=True)
class Tucker:
    """A core and a factor for each mode, equation (3).

    Attributes
    ----------
    core : ndarray
        The core, with as many modes as the tensor.
    factors : tuple of ndarray
        A matrix for each mode, with orthonormal columns: a row for each entry along the mode, a column for each of the
        core.

    Examples
    --------
    >>> Tucker(np.ones((1, 1)), (np.ones((1, 1)), np.ones((1, 1)))).core
    array([[1.]])
    """

    core: NWay
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class TuckerFit:
    """Where higher-order orthogonal iteration arrived, and how it went.

    Attributes
    ----------
    tucker : Tucker
        The decomposition.
    errors : ndarray of shape (n_sweeps + 1,)
        The relative error (5) of the HOSVD, and after each sweep.
    converged : bool
        Whether the last sweep lowered the error by less than the tolerance.

    Examples
    --------
    >>> TuckerFit(Tucker(np.ones((1, 1)), (np.ones((1, 1)),) * 2), np.array([0.5, 0.25]), converged=False).errors
    array([0.5 , 0.25])
    """

    tucker: Tucker
    errors: Float[np.ndarray, " n_errors"]
    converged: bool


def _tensor(values: ArrayLike, name: str = "tensor") -> np.ndarray:  # given: argument checks
    """Return an array of floats with two or more modes, not all zero, or say what is wrong with it."""
    tensor = real_array(values, name, ndim=np.ndim(values))
    if tensor.ndim < 2 or not tensor.any():
        raise ValueError(
            f"{name} must have two or more modes and not be zero, got {tensor} of the shape {tensor.shape}"
        )
    return tensor


def _check_ranks(ranks: Sequence[int], shape: tuple[int, ...]) -> None:  # given: argument checks
    """Raise a ValueError unless there is a rank for each mode, from 1 to its number of entries."""
    if len(ranks) != len(shape) or not all(r == int(r) and 1 <= r <= n for r, n in zip(ranks, shape, strict=True)):
        raise ValueError(f"ranks must be whole numbers, one for each mode, from 1 to {shape}, got {tuple(ranks)}")


def _norm(tensor: np.ndarray) -> float:  # given: a norm that neither under- nor overflows
    """Return the Frobenius norm."""
    largest = float(np.abs(tensor).max())
    return largest * float(np.linalg.norm(tensor / largest)) if largest > 0 else 0.0


def _leading(matrix: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:  # given: the SVD of an unfolding
    """Return the first left singular vectors of a matrix, one a column, and all its singular values."""
    n_rows, n_cols = matrix.shape
    if n_rows < n_cols:
        # Of a wide matrix the triangular factor of its transpose has the same ones, and is small.
        matrix = np.asarray(np.linalg.qr(matrix.T, mode="r")).T
    u, s, _ = np.linalg.svd(matrix, full_matrices=rank > n_cols)
    return u[:, :rank], s


def mode_product(tensor: NWay, matrix: Float[np.ndarray, "n_new n_entries"], mode: int) -> NWay:
    """Multiply a tensor by a matrix along a mode, equation (1).

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes.
    matrix : ndarray
        The matrix, with a column for each entry along the mode.
    mode : int
        The mode, counted from 0.

    Returns
    -------
    ndarray
        The product in the precision of the tensor: the mode has an entry for each row of the matrix, the others are as
        before.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, `tensor` has less than two modes or not that one, or `matrix` does not
        fit it.

    Examples
    --------
    >>> mode_product(np.array([[3.0, 0.0, 1.0], [0.0, 2.0, 5.0]]), np.array([[1.0, -1.0]]), 0)
    array([[ 3., -2., -4.]])
    """
    # given: the checks
    tensor, matrix = real_array(tensor, "tensor", ndim=np.ndim(tensor)), real_array(matrix, "matrix", ndim=2)
    unfolded = unfold(tensor, mode)
    if matrix.shape[1] != len(unfolded):
        raise ValueError(f"matrix must have {len(unfolded)} columns, as mode {mode} has entries, got {matrix.shape[1]}")
    matrix = matrix.astype(tensor.dtype)
    # yours
    shape = (*tensor.shape[:mode], len(matrix), *tensor.shape[mode + 1 :])
    return fold(matrix @ unfolded, mode, shape)


def multi_mode_product(tensor: NWay, matrices: Sequence[Float[np.ndarray, "n_new n_entries"] | None]) -> NWay:
    """Multiply a tensor along each mode that a matrix is given for, equation (1).

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes.
    matrices : sequence of ndarray or None
        One for each mode, in their order. None leaves a mode as it is.

    Returns
    -------
    ndarray
        The product, in the precision of the tensor.

    Raises
    ------
    ValueError
        If there is not one for each mode, or `mode_product` refuses one.

    Examples
    --------
    >>> x = np.array([[3.0, 0.0, 1.0], [0.0, 2.0, 5.0]])
    >>> multi_mode_product(x, [np.array([[1.0, -1.0]]), np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]])])
    array([[-3., -8.]])
    """
    # given: the checks
    tensor = real_array(tensor, "tensor", ndim=np.ndim(tensor))
    if len(matrices) != tensor.ndim:
        raise ValueError(f"matrices must be one or None for each of {tensor.ndim} modes, got {len(matrices)}")
    # yours
    for mode, matrix in enumerate(matrices):
        if matrix is not None:
            tensor = mode_product(tensor, matrix, mode)
    return tensor


def reconstruct(tucker: Tucker) -> NWay:  # given
    """Return the tensor that a decomposition stands for, equation (3).

    Parameters
    ----------
    tucker : Tucker
        A core and factors.

    Returns
    -------
    ndarray
        The tensor.

    Examples
    --------
    >>> reconstruct(Tucker(np.array([[2.0]]), (np.array([[0.6], [0.8]]), np.array([[0.0], [1.0]]))))
    array([[0. , 1.2],
           [0. , 1.6]])
    """
    return multi_mode_product(tucker.core, tucker.factors)


def relative_error(tensor: NWay, core: NWay) -> float:
    """Return the error of a decomposition by orthonormal factors from its core alone, equation (5), relative to the norm of the tensor.

    Parameters
    ----------
    tensor : ndarray
        The tensor, not all zero, of any scale.
    core : ndarray
        Its projection (4).

    Returns
    -------
    float
        From 0 to 1. Where the core is as long as the tensor, or longer by rounding, 0.

    Raises
    ------
    ValueError
        If `tensor` or `core` is not of real, finite numbers, or `tensor` zero or of one mode.

    Examples
    --------
    >>> relative_error(np.array([[3.0, 0.0], [4.0, 5.0]]), np.array([[-6.0]]))
    0.5291502622129182
    """
    # given: the checks
    tensor, core = _tensor(tensor), real_array(core, "core", ndim=np.ndim(core))
    # yours
    share = _norm(core) / _norm(tensor)
    return max((1 - share) * (1 + share), 0.0) ** 0.5


def hosvd(tensor: NWay, ranks: Sequence[int]) -> Tucker:
    """Return the truncated higher-order SVD, equations (6) and (4).

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero.
    ranks : sequence of int
        How many directions to keep, for each mode.

    Returns
    -------
    Tucker
        The core and the factors, in the precision of the tensor. Columns may have either sign, and the core follows.

    Raises
    ------
    ValueError
        If `tensor` is refused as by `relative_error`, or `ranks` are not whole numbers from 1 to its shape.

    Examples
    --------
    >>> x = np.array([[[3.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]])
    >>> abs(hosvd(x, (1, 1, 1)).core).round(3)
    array([[[2.871]]])
    """
    # given: the checks
    tensor = _tensor(tensor)
    _check_ranks(ranks, tensor.shape)
    # yours
    factors = tuple(_leading(unfold(tensor, mode), rank)[0] for mode, rank in enumerate(ranks))
    return Tucker(multi_mode_product(tensor, [f.T for f in factors]), factors)


def sequential_hosvd(tensor: NWay, ranks: Sequence[int]) -> Tucker:
    """Return the sequentially truncated higher-order SVD, equation (9), of the modes in their order.

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero.
    ranks : sequence of int
        How many directions to keep, for each mode.

    Returns
    -------
    Tucker
        The core and the factors, in the precision of the tensor. Columns may have either sign, and the core follows.

    Raises
    ------
    ValueError
        As `hosvd`.

    Examples
    --------
    >>> x = np.array([[[3.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]])
    >>> abs(sequential_hosvd(x, (1, 1, 1)).core).round(3)
    array([[[2.871]]])
    """
    # given: the checks
    tensor = _tensor(tensor)
    _check_ranks(ranks, tensor.shape)
    # yours
    core, factors = tensor, []
    for mode, rank in enumerate(ranks):
        factors.append(_leading(unfold(core, mode), rank)[0])
        core = mode_product(core, factors[-1].T, mode)
    return Tucker(core, tuple(factors))


def hooi_sweep(tensor: NWay, factors: Sequence[Factor]) -> Tucker:
    """Improve the factor of each mode in turn by equation (10), with the newest of the others.

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero.
    factors : sequence of ndarray
        A factor for each mode, with orthonormal columns: as many as the new one is to have. Else the first does not
        matter.

    Returns
    -------
    Tucker
        The new factors, and the core (4) that belongs to them.

    Raises
    ------
    ValueError
        If `tensor` is refused as by `relative_error`, or `factors` do not fit it.

    Examples
    --------
    >>> x = np.array([[[3.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]])
    >>> abs(hooi_sweep(x, hosvd(x, (1, 1, 1)).factors).core).round(3)
    array([[[3.]]])
    """
    # given: the checks
    tensor = _tensor(tensor)
    factors = [real_array(f, f"factors[{n}]", ndim=2) for n, f in enumerate(factors)]
    if tuple(map(len, factors)) != tensor.shape:
        raise ValueError(f"factors must have {tensor.shape} rows, as the tensor has, got {tuple(map(len, factors))}")
    _check_ranks([f.shape[1] for f in factors], tensor.shape)
    # yours
    smaller = tensor
    for mode in range(tensor.ndim):
        smaller = multi_mode_product(tensor, [None if n == mode else f.T for n, f in enumerate(factors)])
        factors[mode] = _leading(unfold(smaller, mode), factors[mode].shape[1])[0]
    return Tucker(mode_product(smaller, factors[-1].T, tensor.ndim - 1), tuple(factors))


def hooi(tensor: NWay, ranks: Sequence[int], *, tol: float = 1e-8, max_sweeps: int = 100) -> TuckerFit:
    """Improve a truncated HOSVD by sweeps of higher-order orthogonal iteration.

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero.
    ranks : sequence of int
        How many directions to keep, for each mode.
    tol : float
        It ends when a sweep lowers the relative error by less than this.
    max_sweeps : int
        The most sweeps.

    Returns
    -------
    TuckerFit
        The decomposition, the relative errors (5) of the start and after each sweep, and whether it ended by `tol`.

    Raises
    ------
    ValueError
        As `hosvd`, or if `tol` is negative, or `max_sweeps` no whole number above 0.

    Examples
    --------
    >>> x = np.array([[[3.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]])
    >>> fit = hooi(x, (1, 1, 1))
    >>> (14 * fit.errors**2).round(3), fit.converged
    (array([5.756, 5.   , 5.   ]), True)
    """
    # given: the checks
    if not tol >= 0:
        raise ValueError(f"tol must be 0 or more, got {tol}")
    if max_sweeps != int(max_sweeps) or max_sweeps < 1:
        raise ValueError(f"max_sweeps must be a whole number above 0, got {max_sweeps}")
    tensor = _tensor(tensor)
    _check_ranks(ranks, tensor.shape)
    # yours
    tucker, converged = hosvd(tensor, ranks), False
    errors = [relative_error(tensor, tucker.core)]
    while len(errors) <= max_sweeps and not converged:
        tucker = hooi_sweep(tensor, tucker.factors)
        errors.append(relative_error(tensor, tucker.core))
        converged = errors[-2] - errors[-1] < tol
    return TuckerFit(tucker, np.array(errors), converged)


def choose_ranks(tensor: NWay, tolerance: float) -> tuple[int, ...]:
    r"""Return the least ranks with which each mode drops no more than its share, equation (11).

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero, of any scale.
    tolerance : float
        The relative error $\varepsilon$ that the HOSVD, either one, may have; above 0 and below 1.

    Returns
    -------
    tuple of int
        A rank for each mode, at least 1.

    Raises
    ------
    ValueError
        If `tensor` is refused as by `relative_error`, or `tolerance` is not above 0 and below 1.

    Examples
    --------
    >>> choose_ranks(np.diag([4.0, 2.0, 1.0, 0.5]), 0.4)
    (2, 2)
    """
    # given: the checks
    tensor = _tensor(tensor)
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance must be above 0 and below 1, got {tolerance}")
    # yours
    ranks = []
    for mode in range(tensor.ndim):
        _, s = _leading(unfold(tensor, mode), 1)
        # What is dropped with rank 0, 1, 2, ...: sums from the end, where the small ones are.
        dropped = np.cumsum((s[::-1] / s[0]) ** 2)[::-1]
        ranks.append(int((dropped > tolerance**2 / tensor.ndim * dropped[0]).sum()))
    return tuple(ranks)


def compression_ratio(shape: Sequence[int], ranks: Sequence[int]) -> float:  # given
    """Return how many times less numbers the core and the factors have than the tensor, equation (12).

    Parameters
    ----------
    shape, ranks : sequence of int
        The shape of the tensor, and that of the core.

    Returns
    -------
    float
        The ratio, below 1 where nothing is saved.

    Raises
    ------
    ValueError
        If `ranks` are not whole numbers from 1 to `shape`.

    Examples
    --------
    >>> round(compression_ratio((427, 640, 3), (60, 80, 2)), 2)
    9.49
    """
    _check_ranks(ranks, tuple(shape))
    stored = np.prod(ranks) + sum(n * r for n, r in zip(shape, ranks, strict=True))
    return float(np.prod(shape) / stored)
