r"""CP decomposition: a tensor as a sum of few outer products.

## Idea

A table of numbers with more than two indices is a *tensor*: the light that each of some samples emits at each
wavelength when each of several wavelengths shines on it. If three substances glow in the samples, that table is a sum
of three terms, each the outer product of a list of concentrations, an emission spectrum and an excitation spectrum.
Finding them is the CP decomposition (for *canonical polyadic*, also called PARAFAC). A matrix has infinitely many such
sums, and therefore the SVD has to ask for orthogonality, which spectra do not have. A tensor of three or more modes
has, as a rule, only one.

## Maths

**The model.** An $N$-mode tensor $\mathcal X$ of the shape $I_1 \times \dots \times I_N$ is a sum of $R$ components,

$$x_{i_1 \dots i_N} \approx \sum_{r=1}^{R} w_r\, a^{(1)}_{i_1 r}\, a^{(2)}_{i_2 r} \cdots a^{(N)}_{i_N r}, \qquad
\mathcal X \approx \sum_r w_r\; a^{(1)}_r \circ \dots \circ a^{(N)}_r, \tag{1}$$

with a *factor* $A_n$ of the shape $I_n \times R$ for each mode. The least $R$ with equality is the *rank* of
$\mathcal X$.

**Unfolding.** Matrices are easier to work with. The mode-$n$ unfolding $X_{(n)}$ has the index $i_n$ for its rows and
all others for its columns. In which order? We take that of NumPy's arrays, the last index running fastest, as the
library tensorly does: counting from 0, the entry stands in the column

$$j = \sum_{k \ne n} i_k \prod_{l > k,\; l \ne n} I_l. \tag{2}$$

Kolda and Bader's survey [1] lets the *first* index run fastest. All that follows holds there too, with the order of the
factors in each Khatri-Rao product reversed. What matters is not to mix the two.

**Khatri-Rao product.** It takes matrices with as many columns, $A$ with $I$ rows and $B$ with $J$, and multiplies each
entry of a column of the one with each of the same column of the other:

$$(A \odot B)_{iJ + j,\; r} = a_{ir}\, b_{jr}. \tag{3}$$

Again the last index runs fastest, so that (1) reads, with $K_n = A_1 \odot \dots \odot A_N$ without $A_n$ and
$W = \operatorname{diag}(w)$,

$$X_{(n)} \approx A_n\, W K_n^\top. \tag{4}$$

**Alternating least squares.** Put the weights into the factors, $W = I$. If all factors but $A_n$ are held fast, (4) is
an ordinary least-squares problem, with the normal equations $A_n K_n^\top K_n = X_{(n)} K_n$. So

$$A_n = M_n V_n^{+}, \qquad M_n = X_{(n)} K_n, \qquad V_n = K_n^\top K_n, \tag{5}$$

where the pseudo-inverse picks the shortest solution if there are several. $M_n$ is known as the MTTKRP, for *matricised
tensor times Khatri-Rao product*, and nearly all time goes there. $V_n$ is cheap: the scalar product of two columns of
$A \odot B$ is $\sum_{ij} a_{ir} b_{jr} a_{is} b_{js}$, which is a product of two sums. With $*$ for products entry by
entry

$$V_n = A_1^\top A_1 * \dots * A_N^\top A_N \quad \text{without } A_n^\top A_n. \tag{6}$$

A *sweep* does this for one mode after the other, always with the newest factors. No step can increase the error. It may
creep, and end in different places from different starts, so several random ones are made.

**The error without the model.** To know the error one need not build the tensor of (1), as $\lVert \mathcal X -
\hat{\mathcal X} \rVert^2 = \lVert \mathcal X \rVert^2 - 2 \langle \mathcal X, \hat{\mathcal X} \rangle + \lVert
\hat{\mathcal X} \rVert^2$ and the last mode's $M_N$ is there already:

$$\langle \mathcal X, \hat{\mathcal X} \rangle = \sum_{ir} (M_N * A_N)_{ir}, \qquad \lVert \hat{\mathcal X} \rVert^2 = \sum_{rs} (A_1^\top A_1 * \dots * A_N^\top A_N)_{rs}. \tag{7}$$

A difference of nearly equal numbers: relative errors below the root of the rounding error, $10^{-8}$, cannot be seen by
it.

**Normalised factors.** Doubling a column and halving the same column of another factor changes nothing. So give every
column the length 1, and the weight the product of the lengths,

$$w_r = \prod_n \lVert a^{(n)}_r \rVert, \tag{8}$$

and order components by weight. Two signs of a component may still turn together.

**Comparing.** How alike are two components? Multiply their cosines over all modes, which no scale matters to, and no
two signs that turn together:

$$c_{rs} = \prod_n \cos \angle \big( a^{(n)}_r,\, b^{(n)}_s \big). \tag{9}$$

Pair the components of two decompositions so that the sum of their $c$ is greatest: the mean is the *factor match
score*, and 1 says that they are the same.

**Unique.** Let the *k-rank* $k_A$ be the largest $k$ such that *every* $k$ columns of $A$ are independent. Kruskal
showed [3], and Sidiropoulos and Bro for any $N$ [4]: if (1) holds exactly and

$$\sum_{n=1}^N k_{A_n} \ge 2R + (N - 1), \tag{10}$$

then there is no other decomposition into $R$ components but for scales and order. For a matrix, $N = 2$, that asks for
$k_{A_1} + k_{A_2} \ge 2R + 1$, which never holds for $R > 1$.

**Degenerate.** The best approximation of rank $R$ need not exist [2]. For $a, b$ orthogonal and of length 1 the tensor
$\mathcal T = a \circ a \circ b + a \circ b \circ a + b \circ a \circ a$ has the rank 3. But with the two components

$$\mathcal T_m = m\, \big(a + \tfrac1m b\big) \circ \big(a + \tfrac1m b\big) \circ \big(a + \tfrac1m b\big) - m\; a \circ a \circ a, \qquad
\lVert \mathcal T_m - \mathcal T \rVert^2 = \frac3{m^2} + \frac1{m^4}: \tag{11}$$

as near as one likes, never there. The weights grow without end while the components cancel. So a $c_{rs}$ near $-1$
between two components of *one* decomposition is the alarm; to ask for fewer components, or for ones that cannot cancel,
such as non-negative ones, is the remedy.

## Worked example

With $a = (1, 2)$, $b = (3, -1)$, $c = (2, 0, 1)$ the tensor $a \circ b \circ c$ has the slices, one for each $i_1$,
$\begin{pmatrix} 6 & 0 & 3 \\ -2 & 0 & -1 \end{pmatrix}$ and twice that. By (2) the unfoldings are

$$X_{(1)} = \begin{pmatrix} 6 & 0 & 3 & -2 & 0 & -1 \\ 12 & 0 & 6 & -4 & 0 & -2 \end{pmatrix}, \quad
X_{(2)} = \begin{pmatrix} 6 & 0 & 3 & 12 & 0 & 6 \\ -2 & 0 & -1 & -4 & 0 & -2 \end{pmatrix}.$$

$b \odot c = (6, 0, 3, -2, 0, -1)^\top$, which times $a$ is the first of them, as (4) says. Start ALS with the wrong
$a = (1, 0)$ and the right $b$ and $c$: by (5) $M_1 = X_{(1)} (b \odot c) = (50, 100)^\top$ and by (6)
$V_1 = 10 \cdot 5 = 50$, so $a = (1, 2)$. By (8) the weight is $\sqrt 5 \sqrt{10} \sqrt 5 = 15.81$. By (7)
$\lVert \mathcal X \rVert^2 = 5 \cdot 10 \cdot 5 = 250$, and $250 - 2 \cdot 250 + 250 = 0$.

(11) with $m = 10$: the error is $\sqrt{0.0301} = 0.173$, the weights are $10 \cdot 1.01^{3/2} = 10.15$ and $10$, and by
(9) $c_{12} = -(1/\sqrt{1.01})^3 = -0.985$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `unfold` | a tensor, a mode | the unfolding | (2) |
| `khatri_rao` | matrices | their Khatri-Rao product | (3) |
| `mttkrp` | a tensor, factors, a mode | $M_n$ | (5) |
| `als_sweep` | a tensor, factors | better factors, and the relative error | (5), (6), (7) |
| `normalise` | factors | weights, and factors with columns of length 1 | (8) |
| `cp_als` | a tensor, a rank | the best decomposition of several starts, and how it went | (5), (8) |
| `congruence` | factors, other factors | $c_{rs}$ for all pairs | (9) |
| `k_rank` | a matrix | its k-rank | (10) |

Given are `fold`, which undoes `unfold`, `reconstruct`, which is (4) and `fold`, `match_components`, which finds the
best pairs, and `is_unique`, which asks (10). Modes are counted from 0.

## Pitfalls

- All is right for a tensor of zeros and ones, or of three equal sides, and wrong for any other: the two orders of (2)
  were mixed.
- The error rises from one sweep to the next: some factors are older than they look.
- It is half right: a second component is the same as the first, and the system of equations singular.
- It converges for one seed and not for another. Or a start lingers for hundreds of sweeps and falls only then.
- Weights that grow and grow, while the error falls ever more slowly and never stops: see (11).
- Compared entry by entry with the truth everything is wrong, though the reconstruction is perfect.

## Cost

A sweep takes $2 N R \prod_n I_n$ operations and makes $K_n$, of $R \prod_{k \ne n} I_k$ numbers. The benchmark finds
the sweeps to take 0.8 to 1.15 times as long as tensorly's: unfoldings are copies of the tensor, but the sums of (5)
over the modes after $n$ and then over those before it can be had from views. `k_rank` looks at up to $2^R$ sets of
columns: fit for small $R$ only.

## Go further

Experiment: in how many of 100 starts does `cp_als` find three components whose columns have cosines of $0.9$ in every
mode? And of $0.5$? A stretch goal: non-negative factors, by changing only how (5) is solved. Then (11) cannot happen
[5].

## References

1. Kolda & Bader (2009), Tensor decompositions and applications, https://doi.org/10.1137/07070111X
2. de Silva & Lim (2008), Tensor rank and the ill-posedness of the best low-rank approximation problem,
   https://doi.org/10.1137/06066518X
3. Kruskal (1977), Three-way arrays: rank and uniqueness of trilinear decompositions,
   https://doi.org/10.1016/0024-3795(77)90069-6
4. Sidiropoulos & Bro (2000), On the uniqueness of multilinear decomposition of N-way arrays,
   https://doi.org/10.1002/1099-128X(200005/06)14:3%3C229::AID-CEM587%3E3.0.CO;2-N
5. Lim & Comon (2009), Nonnegative approximations of nonnegative tensors, https://doi.org/10.1002/cem.1244
"""

# 8 parts to write. Test them with: pytest exercises/linalg/cp_decomposition.py
# To be written without: tensorly, scipy.linalg.khatri_rao, sklearn, torch

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from mlpath.linalg._shared import real_array

NWay = Float[np.ndarray, "..."]
Factor = Float[np.ndarray, "n_entries rank"]


@dataclass(frozen=True)
class CP:
    """A normalised decomposition, equations (1) and (8).

    Attributes
    ----------
    weights : ndarray of shape (rank,)
        Not negative, from the largest.
    factors : tuple of ndarray
        One matrix for each mode, a column for each component. Columns have the length 1, but for columns of zeros.

    Examples
    --------
    >>> CP(np.array([2.0]), (np.ones((1, 1)), np.ones((1, 1)))).weights
    array([2.])
    """

    weights: Float[np.ndarray, " rank"]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class CPFit:
    """Where alternating least squares arrived, and how it went.

    Attributes
    ----------
    cp : CP
        The decomposition.
    errors : ndarray of shape (n_sweeps,)
        The relative error after each sweep, equation (7).
    converged : bool
        Whether the last sweep lowered the error by less than the tolerance.

    Examples
    --------
    >>> cp = CP(np.array([2.0]), (np.ones((1, 1)), np.ones((1, 1))))
    >>> CPFit(cp, np.array([0.5, 0.25]), converged=False).errors
    array([0.5 , 0.25])
    """

    cp: CP
    errors: Float[np.ndarray, " n_sweeps"]
    converged: bool


def _tensor(values: ArrayLike, name: str = "tensor") -> np.ndarray:  # given: argument checks
    """Return an array of floats with two or more modes, or say what is wrong with it."""
    tensor = real_array(values, name, ndim=np.ndim(values))
    if tensor.ndim < 2:
        raise ValueError(f"{name} must have two or more modes, got the shape {tensor.shape}")
    return tensor


def _check_mode(mode: int, n_modes: int) -> None:  # given: argument checks
    """Raise a ValueError unless there is such a mode."""
    if not isinstance(mode, int | np.integer) or not 0 <= mode < n_modes:
        raise ValueError(f"mode must be a whole number from 0 to {n_modes - 1}, got {mode}")


def _check_whole(count: int, name: str) -> None:  # given: argument checks
    """Raise a ValueError unless it is a whole number above 0."""
    if count != int(count) or count < 1:
        raise ValueError(f"{name} must be a whole number above 0, got {count}")


def _matrices(values: Sequence[ArrayLike], name: str = "factors") -> list[np.ndarray]:  # given: argument checks
    """Return a list of matrices with equally many columns."""
    matrices = [real_array(m, f"{name}[{n}]", ndim=2) for n, m in enumerate(values)]
    columns = [m.shape[1] for m in matrices]
    if len(set(columns)) != 1:
        raise ValueError(f"{name} must be one or more matrices with equally many columns, got {columns}")
    return matrices


def _fitting(values: Sequence[ArrayLike], tensor: np.ndarray) -> list[np.ndarray]:  # given: argument checks
    """Return factors in the precision of the tensor, with as many rows as it has entries along each mode."""
    factors = _matrices(values)
    if tuple(map(len, factors)) != tensor.shape:
        raise ValueError(f"factors must have {tensor.shape} rows, as the tensor has, got {tuple(map(len, factors))}")
    return [f.astype(tensor.dtype) for f in factors]


def _lengths(matrix: np.ndarray) -> np.ndarray:  # given: norms of columns, whatever their size
    """Return the lengths of the columns, and 0 for a column of zeros."""
    largest = np.abs(matrix).max(axis=0)
    scale = np.where(largest > 0, largest, 1).astype(matrix.dtype)
    return scale * np.linalg.norm(matrix / scale, axis=0)


def _unit(matrix: np.ndarray) -> np.ndarray:  # given: columns of length 1
    """Return the matrix with each column scaled to length 1; a column of zeros stays."""
    # First by the largest entry: one over the length of a tiny column would overflow.
    largest = np.abs(matrix).max(axis=0)
    matrix = matrix / np.where(largest > 0, largest, 1).astype(matrix.dtype)
    lengths = np.linalg.norm(matrix, axis=0)
    return matrix / np.where(lengths > 0, lengths, 1).astype(matrix.dtype)


def unfold(tensor: NWay, mode: int) -> Float[np.ndarray, "n_entries n_others"]:
    """Return the unfolding of a tensor along a mode, equation (2).

    Parameters
    ----------
    tensor : ndarray
        An array of two or more modes.
    mode : int
        The mode whose index becomes that of the rows, counted from 0.

    Returns
    -------
    ndarray
        A matrix with a row for each entry along that mode. In its columns the other modes keep their order, and the
        last runs fastest.

    Raises
    ------
    ValueError
        If `tensor` has less than two modes, is empty or not of real, finite numbers, or has no such mode.

    Examples
    --------
    >>> unfold(np.arange(12.0).reshape(2, 3, 2), 1)
    array([[ 0.,  1.,  6.,  7.],
           [ 2.,  3.,  8.,  9.],
           [ 4.,  5., 10., 11.]])
    """
    # given: the checks
    tensor = _tensor(tensor)
    _check_mode(mode, tensor.ndim)
    raise NotImplementedError("not written yet: unfold")


def fold(matrix: Float[np.ndarray, "n_entries n_others"], mode: int, shape: tuple[int, ...]) -> NWay:  # given
    """Undo `unfold`: return the tensor of which this is the unfolding.

    Parameters
    ----------
    matrix : ndarray
        The unfolding.
    mode : int
        The mode whose index is that of the rows.
    shape : tuple of int
        The shape of the tensor.

    Returns
    -------
    ndarray
        The tensor.

    Raises
    ------
    ValueError
        If there is no such mode, or the shapes do not fit.

    Examples
    --------
    >>> fold(np.array([[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]), 1, (2, 2, 2))
    array([[[0., 1.],
            [2., 3.]],
    <BLANKLINE>
           [[4., 5.],
            [6., 7.]]])
    """
    matrix = real_array(matrix, "matrix", ndim=2)
    _check_mode(mode, len(shape))
    others = [size for n, size in enumerate(shape) if n != mode]
    if matrix.shape != (shape[mode], np.prod(others)):
        raise ValueError(f"matrix must be of the shape {(shape[mode], int(np.prod(others)))}, got {matrix.shape}")
    return np.moveaxis(matrix.reshape(shape[mode], *others), 0, mode)


def khatri_rao(matrices: Sequence[Factor]) -> Float[np.ndarray, "n_products rank"]:
    """Return the Khatri-Rao product of matrices, equation (3): the last one's rows run fastest.

    Parameters
    ----------
    matrices : sequence of ndarray
        One or more matrices, with equally many columns.

    Returns
    -------
    ndarray
        As many columns, and a row for each choice of a row from each matrix. For one matrix, itself.

    Raises
    ------
    ValueError
        If there is no matrix, they are not of real, finite numbers, or have not equally many columns.

    Examples
    --------
    >>> khatri_rao([np.array([[1.0, 2.0], [10.0, 20.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])])
    array([[  3.,   8.],
           [  5.,  12.],
           [ 30.,  80.],
           [ 50., 120.]])
    """
    # given: the checks
    matrices = _matrices(matrices, "matrices")
    raise NotImplementedError("not written yet: khatri_rao")


def reconstruct(weights: Float[np.ndarray, " rank"], factors: Sequence[Factor]) -> NWay:  # given
    """Return the tensor that is the sum of the components, equation (1).

    Parameters
    ----------
    weights : ndarray
        A weight for each component.
    factors : sequence of ndarray
        Two or more factors, with a column for each component.

    Returns
    -------
    ndarray
        The tensor, with a mode for each factor.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or the shapes do not fit.

    Examples
    --------
    >>> reconstruct(np.array([2.0]), [np.array([[1.0], [3.0]]), np.array([[5.0], [7.0]])])
    array([[10., 14.],
           [30., 42.]])
    """
    factors, weights = _matrices(factors), real_array(weights, "weights", ndim=1)
    if len(factors) < 2 or len(weights) != factors[0].shape[1]:
        raise ValueError(f"weights must have one for each column of two or more factors, got {len(weights)}")
    return fold((factors[0] * weights) @ khatri_rao(factors[1:]).T, 0, tuple(map(len, factors)))


def mttkrp(tensor: NWay, factors: Sequence[Factor], mode: int) -> Factor:
    """Return the unfolding of a tensor times the Khatri-Rao product of all other modes' factors, M in equation (5).

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes.
    factors : sequence of ndarray
        A factor for each mode. That of `mode` itself does not matter.
    mode : int
        The mode that is left out.

    Returns
    -------
    ndarray
        A matrix of the shape of `factors[mode]`, in the precision of the tensor.

    Raises
    ------
    ValueError
        If `tensor` is refused as by `unfold`, there is no such mode, or `factors` do not fit the tensor.

    Examples
    --------
    >>> a, b, c = np.array([[1.0], [2.0]]), np.array([[3.0], [-1.0]]), np.array([[2.0], [0.0], [1.0]])
    >>> mttkrp(reconstruct(np.ones(1), [a, b, c]), [a, b, c], 0).ravel()
    array([ 50., 100.])
    """
    # given: the checks
    tensor = _tensor(tensor)
    _check_mode(mode, tensor.ndim)
    factors = _fitting(factors, tensor)
    raise NotImplementedError("not written yet: mttkrp")


def als_sweep(tensor: NWay, factors: Sequence[Factor]) -> tuple[list[Factor], float]:
    """Improve the factor of each mode in turn by equation (5), with the newest of the others, and return the error (7) after it.

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero.
    factors : sequence of ndarray
        A factor for each mode. The first does not matter.

    Returns
    -------
    factors : list of ndarray
        The new factors, in the precision of the tensor. Before it goes on to the next mode, the columns of the new
        factor are scaled to length 1, so that numbers neither grow nor shrink; those of the last carry the weights.
        Where V is singular the
        pseudo-inverse is taken, with a cut-off that fits the precision.
    error : float
        How far the sum of the components is from the tensor, in the Frobenius norm and relative to that of the tensor,
        by (7): no tensor is formed.

    Raises
    ------
    ValueError
        If `tensor` is refused as by `unfold`, its norm is 0 or not finite, or `factors` do not fit it.

    Examples
    --------
    >>> a, b, c = np.array([[1.0], [0.0]]), np.array([[3.0], [-1.0]]), np.array([[2.0], [0.0], [1.0]])
    >>> x = reconstruct(np.ones(1), [np.array([[1.0], [2.0]]), b, c])
    >>> factors, error = als_sweep(x, [a, b, c])
    >>> factors[2].round(4).ravel()
    array([14.1421,  0.    ,  7.0711])
    """
    # given: the checks
    tensor = _tensor(tensor)
    factors = _fitting(factors, tensor)
    size = float(np.linalg.norm(tensor))
    if not 0 < size < np.inf:
        raise ValueError(f"tensor must not be all zero, nor have squares that are 0 or infinite, got the norm {size}")
    raise NotImplementedError("not written yet: als_sweep")


def normalise(factors: Sequence[Factor]) -> CP:
    """Scale columns to length 1, and order the components by their weights, equation (8).

    Parameters
    ----------
    factors : sequence of ndarray
        Factors that carry their weights, of any lengths, also such whose squares would under- or
        overflow.

    Returns
    -------
    CP
        The same tensor: weights from the largest, and the factors in the same order of components. Signs stay as they
        are. Equal weights come in any order. A component with a column of zeros gets the weight 0, and that column
        stays.

    Raises
    ------
    ValueError
        If `factors` are no matrices of real, finite numbers with equally many columns.

    Examples
    --------
    >>> cp = normalise([np.array([[3.0, 0.0], [4.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 8.0]])])
    >>> cp.weights
    array([8., 5.])
    >>> cp.factors[0]
    array([[0. , 0.6],
           [1. , 0.8]])
    """
    # given: the checks
    factors = _matrices(factors)
    raise NotImplementedError("not written yet: normalise")


def cp_als(
    tensor: NWay,
    rank: int,
    *,
    n_starts: int = 5,
    tol: float = 1e-8,
    max_sweeps: int = 1000,
    rng: np.random.Generator,
) -> CPFit:
    """Decompose a tensor by alternating least squares from several random starts, and return the one of the least error.

    Parameters
    ----------
    tensor : ndarray
        The tensor, of two or more modes, not all zero, and of any scale: divide it by its largest entry before you
        square anything.
    rank : int
        How many components.
    n_starts : int
        How often to start afresh, with factors of independent standard normal numbers.
    tol : float
        A start ends when a sweep lowers the relative error by less than this, or raises it by rounding; the first sweep
        never ends it.
    max_sweeps : int
        The most sweeps of a start.
    rng : numpy.random.Generator
        Draws the starts, in any order.

    Returns
    -------
    CPFit
        The normalised decomposition in the precision of the tensor, the errors of its sweeps, and whether it ended by
        `tol`.

    Raises
    ------
    ValueError
        If `tensor` is refused as by `als_sweep`, `rank`, `n_starts` or `max_sweeps` is not a whole number above 0, or
        `tol` negative.

    Examples
    --------
    >>> a, b, c = np.array([[1.0], [2.0]]), np.array([[3.0], [-1.0]]), np.array([[2.0], [0.0], [1.0]])
    >>> fit = cp_als(reconstruct(np.ones(1), [a, b, c]), 1, rng=np.random.default_rng(0))
    >>> fit.cp.weights.round(4), fit.converged
    (array([15.8114]), True)
    """
    # given: the checks
    tensor = _tensor(tensor)
    for count, name in ((rank, "rank"), (n_starts, "n_starts"), (max_sweeps, "max_sweeps")):
        _check_whole(count, name)
    if not tol >= 0:
        raise ValueError(f"tol must be 0 or more, got {tol}")
    if not tensor.any():
        raise ValueError(f"tensor must not be all zero, got zeros of the shape {tensor.shape}")
    raise NotImplementedError("not written yet: cp_als")


def congruence(
    factors: Sequence[Float[np.ndarray, "n_entries rank"]], others: Sequence[Float[np.ndarray, "n_entries other_rank"]]
) -> Float[np.ndarray, "rank other_rank"]:
    """Return the product of the cosines over all modes for each pair of components, equation (9).

    Parameters
    ----------
    factors, others : sequence of ndarray
        The factors of two decompositions, mode by mode, with a column for each component, of any length. A column of
        zeros has the cosine 0 with all.

    Returns
    -------
    ndarray
        A row for each component of `factors`, a column for each of `others`. Of one decomposition with itself: 1 on the
        diagonal, and an entry near -1 where two components cancel.

    Raises
    ------
    ValueError
        If the factors are not matrices of real, finite numbers, or the numbers of modes, rows or columns do not fit.

    Examples
    --------
    >>> a, b = np.array([[3.0, 0.0], [4.0, 1.0]]), np.array([[1.0], [0.0]])
    >>> congruence([a, a], [b, -b]).round(4)
    array([[-0.36],
           [ 0.  ]])
    """
    # given: the checks
    factors, others = _matrices(factors), _matrices(others, "others")
    if [len(f) for f in factors] != [len(f) for f in others]:
        raise ValueError(f"others must have {[len(f) for f in factors]} rows, got {[len(f) for f in others]}")
    raise NotImplementedError("not written yet: congruence")


def match_components(  # given
    factors: Sequence[Factor], others: Sequence[Factor]
) -> tuple[float, Int[np.ndarray, " rank"]]:
    """Pair the components of two decompositions so that they are most alike.

    Parameters
    ----------
    factors, others : sequence of ndarray
        The factors of two decompositions, with equally many components.

    Returns
    -------
    score : float
        The factor match score: the mean of (9) over the pairs. 1 if both are the same but for scales and order.
    order : ndarray
        Component `order[r]` of `others` belongs to component r of `factors`.

    Raises
    ------
    ValueError
        If `congruence` refuses them, or the numbers of components differ.

    Examples
    --------
    >>> a = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> match_components([a, a], [-2 * a[:, ::-1], -a[:, ::-1]])[1]
    array([1, 0])
    """
    similar = congruence(factors, others)
    if similar.shape[0] != similar.shape[1]:
        raise ValueError(f"others must have {similar.shape[0]} components, got {similar.shape[1]}")
    rows, order = linear_sum_assignment(-similar)
    return float(similar[rows, order].mean()), order


def k_rank(matrix: Float[np.ndarray, "n_entries rank"]) -> int:
    """Return the k-rank of a matrix: the largest k such that every k of its columns are independent.

    Parameters
    ----------
    matrix : ndarray
        The matrix. The lengths of its columns do not matter, unless one is 0: scale them to 1 before asking NumPy for
        ranks.

    Returns
    -------
    int
        From 0, if a column is zero, to the rank of the matrix. Sets of columns are independent as
        `numpy.linalg.matrix_rank` has it, up to rounding.

    Raises
    ------
    ValueError
        If it is no matrix of real, finite numbers.

    Examples
    --------
    >>> k_rank(np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]))
    1
    """
    # given: the checks
    matrix = real_array(matrix, "matrix", ndim=2)
    raise NotImplementedError("not written yet: k_rank")


def is_unique(factors: Sequence[Factor]) -> bool:  # given
    """Return whether Kruskal's condition (10) says that there is no other decomposition into as many components.

    Parameters
    ----------
    factors : sequence of ndarray
        Two or more factors, with a column for each component.

    Returns
    -------
    bool
        True if it is unique but for scales and order. False if the condition does not tell.

    Raises
    ------
    ValueError
        If the factors are not matrices of real, finite numbers with equally many columns.

    Examples
    --------
    >>> is_unique([np.eye(2), np.eye(2), np.eye(2)]), is_unique([np.eye(2), np.eye(2)])
    (True, False)
    """
    factors = _matrices(factors)
    return sum(map(k_rank, factors)) >= 2 * factors[0].shape[1] + len(factors) - 1
