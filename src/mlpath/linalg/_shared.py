"""What linear algebra shares: checks of arguments, and matrices that break naive code."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


def real_array(values: ArrayLike, name: str, *, ndim: int) -> np.ndarray:
    """Return `values` as an array of floats, its precision kept, or raise a ValueError that says what is wrong with it.

    Examples
    --------
    >>> real_array([[1, 2, 3]], "a", ndim=2)
    array([[1., 2., 3.]])
    >>> real_array([1.0, np.nan], "b", ndim=1)
    Traceback (most recent call last):
    ValueError: b must be finite, got [ 1. nan]
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers, got an array of {array.dtype}")
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} {'axis' if ndim == 1 else 'axes'}, got the shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got the shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def square_matrix(values: ArrayLike, name: str) -> np.ndarray:
    """Return `values` as a square matrix of floats, or raise a ValueError.

    Examples
    --------
    >>> square_matrix([[1.0, 2.0]], "a")
    Traceback (most recent call last):
    ValueError: a must be square, got the shape (1, 2)
    """
    a = real_array(values, name, ndim=2)
    if a.shape[0] != a.shape[1]:
        raise ValueError(f"{name} must be square, got the shape {a.shape}")
    return a


def symmetric_matrix(values: ArrayLike, name: str) -> np.ndarray:
    """Return `values` as a symmetric matrix of floats, or raise a ValueError. Rounding may break the symmetry a little.

    Examples
    --------
    >>> symmetric_matrix([[1.0, 2.0], [3.0, 1.0]], "a")
    Traceback (most recent call last):
    ValueError: a must be symmetric, got entries that differ by 1 across the diagonal
    """
    a = square_matrix(values, name)
    gap, largest = np.abs(a - a.T).max(), np.abs(a).max()
    if gap > 100 * np.finfo(a.dtype).eps * largest:
        raise ValueError(f"{name} must be symmetric, got entries that differ by {gap:.3g} across the diagonal")
    return a


def hilbert(n_rows: int, n_cols: int) -> Float[np.ndarray, "n_rows n_cols"]:
    """Return the Hilbert matrix, entries 1 / (i + j - 1): full rank, but its columns are nearly dependent.

    The condition number is 1.6e13 for 10 by 10, and beyond what double precision can tell from 12 on.

    Examples
    --------
    >>> hilbert(2, 3).round(4)
    array([[1.    , 0.5   , 0.3333],
           [0.5   , 0.3333, 0.25  ]])
    """
    return 1.0 / (np.arange(n_rows)[:, None] + np.arange(1, n_cols + 1))


def lauchli(n_cols: int, epsilon: float) -> Float[np.ndarray, "n_rows n_cols"]:
    """Return Läuchli's matrix: a row of ones above `epsilon` times the identity.

    Its columns are independent, but `epsilon` squared is lost in their inner products if it is below rounding.

    Examples
    --------
    >>> lauchli(2, 0.001)
    array([[1.   , 1.   ],
           [0.001, 0.   ],
           [0.   , 0.001]])
    """
    return np.vstack([np.ones(n_cols), epsilon * np.eye(n_cols)])


def kahan(n: int, angle: float = 1.2) -> Float[np.ndarray, "n n"]:
    """Return Kahan's triangular matrix: no small diagonal entry tells how close to singular it is.

    With s and c the sine and cosine of `angle`, row i is s to the i times (0, ..., 0, 1, -c, ..., -c).

    Examples
    --------
    >>> kahan(3).round(4)
    array([[ 1.    , -0.3624, -0.3624],
           [ 0.    ,  0.932 , -0.3377],
           [ 0.    ,  0.    ,  0.8687]])
    """
    return np.sin(angle) ** np.arange(n)[:, None] * (np.eye(n) - np.cos(angle) * np.triu(np.ones((n, n)), 1))


def wilkinson_growth(n: int) -> Float[np.ndarray, "n n"]:
    """Return Wilkinson's matrix on which elimination with partial pivoting lets entries grow to 2 to the n - 1.

    Examples
    --------
    >>> wilkinson_growth(3)
    array([[ 1.,  0.,  1.],
           [-1.,  1.,  1.],
           [-1., -1.,  1.]])
    """
    a = np.eye(n) - np.tril(np.ones((n, n)), -1)
    a[:, -1] = 1
    return a


def wilkinson_eigenvalues(n: int) -> Float[np.ndarray, "n n"]:
    """Return Wilkinson's symmetric tridiagonal matrix, `n` odd, whose large eigenvalues come in pairs that nearly agree.

    Examples
    --------
    >>> wilkinson_eigenvalues(5)
    array([[2., 1., 0., 0., 0.],
           [1., 1., 1., 0., 0.],
           [0., 1., 0., 1., 0.],
           [0., 0., 1., 1., 1.],
           [0., 0., 0., 1., 2.]])
    """
    return np.diag(np.abs(np.arange(n) - n // 2).astype(float)) + np.eye(n, k=1) + np.eye(n, k=-1)


def with_singular_values(
    values: ArrayLike, n_rows: int, rng: np.random.Generator
) -> Float[np.ndarray, "n_rows n_cols"]:
    """Return a random matrix with the given singular values: random orthonormal columns, stretched and rotated.

    Examples
    --------
    >>> a = with_singular_values([3.0, 1.0, 0.25], n_rows=7, rng=np.random.default_rng(0))
    >>> np.linalg.svd(a, compute_uv=False).round(4)
    array([3.  , 1.  , 0.25])
    """
    values = np.asarray(values, dtype=float)
    left = np.linalg.qr(rng.normal(size=(n_rows, len(values))))[0]
    right = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return left * values @ right.T
