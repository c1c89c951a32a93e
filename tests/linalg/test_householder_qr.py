"""Shared tests of linalg/householder_qr: run on the reference, and on the learner's file.

Signs are the learner's choice: of alpha, of r, and so of the rows of R. What is compared with an oracle is brought to one
sign first; the rest are the properties that define the factors.

Tolerances are backward errors, in units of eps times the size of the matrix. A reflection of n rows commits some n roundings
of eps each, and k of them in a row commit k times as many; in practice errors of both signs cancel, and the worst of all
cases here is about eps * n. `BOUND` times n_rows * eps is ten to a hundred times more than that. For what is lost to
cancellation, or without scaling, it is a million times too little.
"""

import warnings
from functools import reduce

import numpy as np
import pytest
import scipy.linalg

from mlpath.linalg._shared import hilbert, kahan, lauchli, with_singular_values
from mlpath.linalg.householder_qr import (
    HouseholderQR,
    apply_q,
    apply_q_transpose,
    apply_reflector,
    form_qr,
    givens_qr,
    givens_rotation,
    householder_qr,
    householder_vector,
)
from mlpath.testing import assert_close

BOUND = 20
EPS = float(np.finfo(float).eps)
RTOL = 1e-13  # a few hundred roundings: for what takes a handful


def random_matrix(n_rows, n_cols, seed=3):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(seed).normal(0.7, 2.0, (n_rows, n_cols))


def low_rank(n_rows, n_cols, rank):
    return random_matrix(n_rows, rank, 4) @ random_matrix(rank, n_cols, 5)


MATRICES = {
    "a random 30 x 12 matrix": random_matrix(30, 12),
    "a random 12 x 30 matrix": random_matrix(12, 30),
    "a random 25 x 25 matrix": random_matrix(25, 25),
    "one column": random_matrix(9, 1),
    "one row": random_matrix(1, 7),
    "a single number": np.array([[-2.5]]),
    "the 15 x 10 Hilbert matrix": hilbert(15, 10),
    "the 12 x 12 Hilbert matrix": hilbert(12, 12),
    "Kahan's 30 x 30 matrix": kahan(30),
    "Läuchli's 7 x 6 matrix with epsilon = 1e-9": lauchli(6, 1e-9),
    "a 40 x 10 matrix of condition 1e14": with_singular_values(
        np.geomspace(1, 1e-14, 10), 40, np.random.default_rng(6)
    ),
    "a 20 x 10 matrix of rank 3": low_rank(20, 10, 3),
    "a 10 x 20 matrix of rank 3": low_rank(10, 20, 3),
    "a matrix of ones": np.ones((6, 4)),
    "a zero matrix": np.zeros((5, 3)),
    "a matrix with a column of zeros": random_matrix(8, 4) * [1, 0, 1, 1],
    "an upper triangular matrix": np.triu(random_matrix(6, 6)),
    "the negative of an identity": -np.eye(4),
    "a matrix near the identity": np.eye(12, 8) + 1e-8 * random_matrix(12, 8),
    "a matrix of entries near 1e-150": 1e-150 * random_matrix(12, 7),
    "a matrix of entries near 1e150": 1e150 * random_matrix(12, 7),
    "a matrix of entries near 1e-290": 1e-290 * random_matrix(12, 7),
    "a matrix of entries near 1e290": 1e290 * random_matrix(12, 7),
    "columns graded from 1e-100 to 1e100": random_matrix(20, 9) * np.logspace(-100, 100, 9),
    "columns graded from 1e100 to 1e-100": random_matrix(20, 9) * np.logspace(100, -100, 9),
}
EVERY_MATRIX = pytest.mark.parametrize("name", MATRICES)


@pytest.fixture(autouse=True)
def no_warnings():
    """Overflow of a square, or 0 / 0, is told by the numbers: the warning beside them would hide the message."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def unchanged(function, *arrays, **others):
    """Call the function, and fail if it wrote to an array."""
    before = [array.copy() for array in arrays]
    function(*arrays, **others)
    for array, old in zip(arrays, before):
        assert np.array_equal(array, old), f"{function.__name__} changed an array that it was given"


def lengths(columns):
    """The Euclidean length of each column, huge and tiny ones too."""
    largest = np.abs(columns).max(axis=0)
    return largest * np.sqrt(((columns / np.where(largest > 0, largest, 1)) ** 2).sum(axis=0))


def assert_orthonormal(q, call, because, eps=EPS):
    gap = np.abs(q.T.astype(float) @ q - np.eye(q.shape[1])).max()
    allowed = BOUND * len(q) * eps
    assert gap <= allowed, f"{call}: Q'Q differs from the identity by {gap:.3g}; allowed by {because}: {allowed:.3g}"


def assert_product(q, r, a, call, because, eps=EPS):
    """Column by column, as (9) says, so that no error hides behind a larger column."""
    assert np.isfinite(q).all() and np.isfinite(r).all(), f"{call} holds NaN or infinity; {because} has neither"
    sizes = lengths(a)
    scale = np.where(sizes > 0, sizes, 1)
    error = lengths(q.astype(float) @ (r / scale) - a / scale).max()
    allowed = BOUND * len(a) * eps
    assert error <= allowed, (
        f"{call}: Q R differs from a by {error:.3g} of the length of a column; allowed by {because}: {allowed:.3g}"
    )


def assert_triangle(r, call):
    below = np.tril(r, -1)
    assert not below.any(), f"{call} has {below[below != 0][0]:.3g} below the diagonal; by equation (6) these are zeros"


def mirror(v, beta):
    """The matrix of a mirror, equation (1)."""
    return np.eye(len(v)) - beta * np.outer(v, v)


def product_of_mirrors(factors):
    """The square Q of equation (6), mirror by mirror."""
    return reduce(np.matmul, [mirror(v, beta) for v, beta in zip(factors.vectors.T.astype(float), factors.betas)])


def some_factors(n_rows=9, n_reflectors=4, n_cols=4, dtype=float):
    """Mirrors and a triangle that belong to no matrix in particular, with what `householder_qr` promises of them."""
    vectors = np.tril(random_matrix(n_rows, n_reflectors, 7), -1) + np.eye(n_rows, n_reflectors)
    betas = 2 / (vectors**2).sum(axis=0)
    betas[1] = 0.0  # a mirror that does nothing, as for a column that was triangular already
    r = np.triu(random_matrix(n_reflectors, n_cols, 8))
    return HouseholderQR(vectors.astype(dtype), betas.astype(dtype), r.astype(dtype))


# householder_vector


@pytest.mark.parametrize(
    ("x", "away", "towards"),
    [
        # v and beta for alpha of the other sign than x[0], and of the same sign
        ([1.0, -4.0, 8.0], ([1, -0.4, 0.8], 2 / 1.8), ([1, 0.5, -1], 2 / 2.25)),
        ([-2.0, 3.0, 6.0], ([1, -1 / 3, -2 / 3], 9 / 7), ([1, 0.6, 1.2], 2 / 2.8)),
    ],
)
def test_householder_vector_returns_v_beta_and_alpha_of_equations_1_to_4(x, away, towards):
    v, beta, alpha = householder_vector(np.array(x))
    call = f"householder_vector({x})"
    length = np.linalg.norm(x)
    assert_close(abs(alpha), length, f"the absolute value of alpha of {call}", "equation (2)", rtol=RTOL)
    is_away = np.sign(alpha) != np.sign(x[0])
    expected_v, expected_beta = away if is_away else towards
    assert_close(v, expected_v, f"v of {call}", f"equation (4), with the alpha of {alpha:g}", rtol=RTOL)
    assert_close(beta, expected_beta, f"beta of {call}", f"equation (1), with the alpha of {alpha:g}", rtol=RTOL)


VECTORS = {
    "60 random entries": random_matrix(60, 1)[:, 0],
    "a negative first entry": -np.abs(random_matrix(40, 1)[:, 0]),
    "zero as the first entry": np.array([0.0, 1.5, -2.5]),
    "minus zero as the first entry": np.array([-0.0, 1.5, -2.5]),
    "the zero vector": np.zeros(4),
    "a positive multiple of e1": np.array([2.5, 0.0, 0.0]),
    "a negative multiple of e1": np.array([-2.5, 0.0, 0.0]),
    "a single number": np.array([3.5]),
    "a single negative number": np.array([-3.5]),
    "a single zero": np.array([0.0]),
    "(1, 1e-7, -2e-7)": np.array([1.0, 1e-7, -2e-7]),
    "(-1, 1e-7, -2e-7)": np.array([-1.0, 1e-7, -2e-7]),
    "(1, 1e-5, 3e-5)": np.array([1.0, 1e-5, 3e-5]),
    "(-1, 2e-9)": np.array([-1.0, 2e-9]),
    "(1, 1e-200)": np.array([1.0, 1e-200]),
    "(1e-200, 1)": np.array([1e-200, 1.0]),
    "entries near 1e-150": 1e-150 * np.array([1.0, -4.0, 8.0]),
    "entries near 1e150": 1e150 * np.array([1.0, -4.0, 8.0]),
    "entries near 1e-300": 1e-300 * np.array([1.0, -4.0, 8.0]),
    "entries near 1e300": 1e300 * np.array([1.0, -4.0, 8.0]),
    "negative entries near -1e200 and a 1": np.array([-1e200, 1.0, -2e200]),
}


@pytest.mark.parametrize("name", VECTORS)
def test_householder_vector_makes_a_mirror_that_sends_x_to_a_multiple_of_e1(name):
    x = VECTORS[name]
    v, beta, alpha = householder_vector(x)
    call = f"householder_vector(x) of {name}"
    assert np.isfinite(v).all() and np.isfinite([beta, alpha]).all(), (
        f"{call} returned v, beta, alpha = {v}, {beta}, {alpha}; all are finite by equations (1) to (4)"
    )
    assert v[0] == 1, f"{call} has v[0] = {v[0]:.6g}; equation (4) makes it 1"
    allowed = BOUND * len(x) * EPS
    bent = np.abs(mirror(v, beta) @ mirror(v, beta) - np.eye(len(x))).max()
    assert bent <= allowed, f"{call}: H H is off the identity by {bent:.3g}; allowed by (1): {allowed:.3g}"
    size = np.abs(x).max() or 1.0
    reflected, target = mirror(v, beta) @ (x / size), np.eye(len(x))[0] * (alpha / size)
    error = np.abs(reflected - target).max()
    assert error <= allowed, (
        f"{call}: H x differs from alpha e1 by {error:.3g} times the largest entry of x; allowed by (2): {allowed:.3g}"
    )


def test_householder_vector_loses_nothing_where_x_nearly_points_along_e1():
    for size in (1e-3, 1e-5, 1e-7):
        x = np.array([1.0, 2 * size, -size])
        v, beta, _ = householder_vector(x)
        left = np.abs((mirror(v, beta) @ x)[1:]).max()
        call = f"householder_vector([1, {2 * size:g}, {-size:g}])"
        # A sound mirror leaves some 1e-16. Cancellation leaves 1e-16 / size, from 1e-13 to 1e-9.
        assert left < 3e-15, (
            f"{call}: H x has {left:.1e} where (2) has zeros; is v[0] a difference that cancels, see (3)?"
        )


@pytest.mark.parametrize("scale", [1.0, 1e30, 1e-30])
def test_householder_vector_of_float32_is_float32_within_its_precision_and_range(scale):
    x = np.array([1, -4, 8], np.float32) * np.float32(scale)
    v, beta, alpha = householder_vector(x)
    call = f"householder_vector({scale:g} * [1, -4, 8]) of float32"
    assert v.dtype == np.float32, f"{call} returned a v of {v.dtype}, expected float32"
    expected_v, expected_beta = ([1, -0.4, 0.8], 2 / 1.8) if alpha < 0 else ([1, 0.5, -1], 2 / 2.25)
    assert_close(v, expected_v, f"v of {call}", "equation (4)", rtol=1e-5, tolerance="as a float32 has 7 digits")
    assert_close(beta, expected_beta, f"beta of {call}", "equation (1)", rtol=1e-5)
    assert_close(abs(alpha), 9 * scale, f"the absolute value of alpha of {call}", "equation (2)", rtol=1e-5)


def test_householder_vector_of_float32_is_float32_where_nothing_has_to_be_reflected():
    for x in (np.array([2.5, 0], np.float32), np.zeros(3, np.float32)):
        dtype = householder_vector(x)[0].dtype
        assert dtype == np.float32, f"householder_vector({x}) of float32 returned a v of {dtype}, expected float32"


def test_householder_vector_takes_whole_numbers():
    whole, expected = householder_vector(np.array([1, -4, 8])), householder_vector(np.array([1.0, -4.0, 8.0]))
    for name, mine, same in zip(("v", "beta", "alpha"), whole, expected):
        assert_close(mine, same, f"{name} of householder_vector([1, -4, 8])", "that of [1.0, -4.0, 8.0]", rtol=RTOL)


def test_householder_vector_leaves_its_vector_alone():
    unchanged(householder_vector, random_matrix(5, 1)[:, 0])
    unchanged(householder_vector, np.array([2.0, 0.0]))


# apply_reflector


def test_apply_reflector_reflects_each_column_by_equation_5():
    v, a = np.array([1.0, 0.5, -1.5]), np.array([[2.5, -1.0, 3.0, 0.5], [4.0, 2.0, 1.5, 7.0], [-3.0, 6.0, 2.0, 1.0]])
    # By hand: v'a = (9, -9, 0.75, 2.5) gives rows of a minus v_i times beta times that.
    inner = np.array([9.0, -9.0, 0.75, 2.5])
    expected = a - 0.8 * v[:, None] * inner
    call = "apply_reflector([1, 0.5, -1.5], 0.8, a) of shape (3, 4)"
    assert_close(apply_reflector(v, 0.8, a), expected, call, "equation (5)", rtol=RTOL)


@pytest.mark.parametrize("n_cols", [1, 5, 60])
def test_apply_reflector_agrees_with_the_matrix_of_the_mirror(n_cols):
    v, a = random_matrix(20, 1, 9)[:, 0], random_matrix(20, n_cols)
    expected = (np.eye(20) - 0.037 * np.outer(v, v)) @ a
    call = f"apply_reflector(v, 0.037, a) of shape {a.shape}, with v[0] = {v[0]:.3g}"
    assert_close(apply_reflector(v, 0.037, a), expected, call, "equation (1)", rtol=0, atol=1e-12)


def test_apply_reflector_turns_v_round_and_leaves_alone_what_is_orthogonal_to_it():
    v = np.array([2.0, -1.0, 0.5, 3.0])
    a = np.array([v, [1.0, 2.0, 0.0, 0.0], [0.0, 3.0, 0.0, 1.0]]).T
    expected = np.array([-v, a[:, 1], a[:, 2]]).T
    call = "apply_reflector(v, 2 / v'v, a) with v, and two vectors orthogonal to it, as columns"
    assert_close(apply_reflector(v, 2 / 14.25, a), expected, call, "equation (1)", rtol=RTOL, atol=1e-14)


def test_apply_reflector_never_forms_the_matrix_of_the_mirror():
    # The mirror's matrix of a million rows would need 8 terabytes.
    v, a = np.ones(1_000_000), np.full((1_000_000, 1), 3.0)
    call = "apply_reflector(ones, 2e-6, threes) with a million rows"
    try:
        reflected = apply_reflector(v, 2e-6, a)
    except MemoryError:
        pytest.fail(f"{call} ran out of memory: equation (5) needs no matrix of a million rows and columns")
    assert_close(reflected[:3], np.full((3, 1), -3.0), f"the first rows of {call}", "equation (5)", rtol=1e-9)


def test_apply_reflector_keeps_float32_and_leaves_its_arrays_alone():
    v, a = random_matrix(6, 1, 9)[:, 0].astype(np.float32), random_matrix(6, 4).astype(np.float32)
    dtype = apply_reflector(v, 0.1, a).dtype
    assert dtype == np.float32, f"apply_reflector of float32 arrays returned {dtype}"
    unchanged(lambda v, a: apply_reflector(v, 0.1, a), v, a)


# householder_qr


def test_householder_qr_of_a_small_matrix_is_that_computed_by_hand():
    # The lengths are 9 and sqrt(20.3125), and their inner product is 32.5.
    a = np.array([[1.0, 2.5], [-4.0, -3.0], [8.0, 2.25]])
    factors = householder_qr(a)
    r11, r12 = 9.0, (2.5 + 12 + 18) / 9
    r22 = np.sqrt(2.5**2 + 3**2 + 2.25**2 - r12**2)
    call = "the absolute values of householder_qr([[1, 2.5], [-4, -3], [8, 2.25]]).r"
    assert_close(np.abs(factors.r), [[r11, r12], [0, r22]], call, "equation (6)", rtol=1e-12)
    v = [1, -0.4, 0.8] if factors.r[0, 0] < 0 else [1, 0.5, -1]
    assert_close(factors.vectors[:, 0], v, "vectors[:, 0] of the same call", "equation (4)", rtol=1e-12)


@EVERY_MATRIX
def test_householder_qr_keeps_mirrors_whose_product_times_r_is_the_matrix(name):
    a = MATRICES[name]
    factors = householder_qr(a)
    call, n_reflectors = f"householder_qr(a) of {name}", min(a.shape)
    shapes = [part.shape for part in (factors.vectors, factors.betas, factors.r)]
    expected = [(len(a), n_reflectors), (n_reflectors,), (n_reflectors, a.shape[1])]
    assert shapes == expected, f"{call} has vectors, betas and r of the shapes {shapes}, expected {expected}"
    top = np.triu(factors.vectors)
    assert np.array_equal(top, np.eye(len(a), n_reflectors)), (
        f"{call}: vectors should have ones on the diagonal and zeros above, equations (4) and (6); got\n{top}"
    )
    assert_triangle(factors.r, call)
    q = product_of_mirrors(factors)
    assert_orthonormal(q, call, "equation (9)")
    assert_product(q[:, :n_reflectors], factors.r, a, call, "equations (6) and (9)")


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (12, 12), (150, 100)])
def test_householder_qr_finds_the_r_of_scipy_up_to_the_signs_of_its_rows(shape):
    a = random_matrix(*shape)
    ours, theirs = householder_qr(a).r, scipy.linalg.qr(a, mode="economic")[1]
    signs = np.sign(np.diag(ours)) * np.sign(np.diag(theirs))
    call = f"householder_qr(a).r of shape {shape}, with the signs of SciPy's rows"
    # R moves by the condition of a, some 1e2, times eps, relative to its largest entries of about 1e2.
    assert_close(signs[:, None] * ours, theirs, call, "equation (6), by SciPy", rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["a random 30 x 12 matrix", "a random 12 x 30 matrix", "a matrix near the identity"])
def test_householder_qr_of_float32_is_float32_and_as_accurate(name):
    a = MATRICES[name].astype(np.float32)
    factors = householder_qr(a)
    dtypes = {part.dtype.name for part in (factors.vectors, factors.betas, factors.r)}
    call = f"householder_qr(a) of {name} in float32"
    assert dtypes == {"float32"}, f"{call} has parts of {dtypes}, expected float32"
    q, eps = product_of_mirrors(factors), float(np.finfo(np.float32).eps)
    assert_orthonormal(q, call, "equation (9)", eps)
    assert_product(q[:, : min(a.shape)], factors.r, a, call, "equations (6) and (9)", eps)


def test_householder_qr_leaves_its_matrix_alone():
    unchanged(householder_qr, random_matrix(6, 4))


# apply_q_transpose and apply_q


def test_apply_q_transpose_applies_the_first_mirror_first():
    vectors = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 3.0]])
    factors = HouseholderQR(vectors, np.array([8 / 9, 0.2]), np.eye(2))
    b = np.array([[4.5, 2.0], [9.0, -1.0], [2.25, 5.0]])
    # v1'b = (6.75, -3.5): H1 b = b - v1 (6, -28/9). Then v2'H1b = (30.75, 5.1111).
    once = b - np.outer(vectors[:, 0], [6.0, -28 / 9])
    expected = once - 0.2 * np.outer(vectors[:, 1], once[1] + 3 * once[2])
    call = "apply_q_transpose(factors, b) of two mirrors and two columns"
    assert_close(apply_q_transpose(factors, b), expected, call, "equation (7)", rtol=RTOL)


@pytest.mark.parametrize("n_rhs", [1, 5, 40])
@pytest.mark.parametrize("shape", [(9, 4), (6, 6), (30, 20)])
def test_apply_q_transpose_multiplies_by_the_transpose_of_the_product_of_all_mirrors(shape, n_rhs):
    factors, b = some_factors(*shape), random_matrix(shape[0], n_rhs)
    call = f"apply_q_transpose(factors, b) of {shape[1]} mirrors in {shape[0]} dimensions, b of shape {b.shape}"
    expected = product_of_mirrors(factors).T @ b
    assert_close(apply_q_transpose(factors, b), expected, call, "equation (7)", rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", ["a random 30 x 12 matrix", "a random 12 x 30 matrix", "the 15 x 10 Hilbert matrix"])
def test_apply_q_transpose_takes_the_matrix_to_its_triangle(name):
    a = MATRICES[name]
    factors = householder_qr(a)
    expected = np.zeros_like(a)
    expected[: min(a.shape)] = factors.r
    call = f"apply_q_transpose(householder_qr(a), a) of {name}"
    assert_close(apply_q_transpose(factors, a), expected, call, "equation (6)", rtol=0, atol=1e-12 * np.abs(a).sum())


def test_apply_q_transpose_keeps_lengths_near_1e150_and_float32_and_leaves_b_alone():
    factors, b = some_factors(), 1e150 * random_matrix(9, 3)
    before, after = lengths(b), lengths(apply_q_transpose(factors, b))
    assert_close(after, before, "the lengths of apply_q_transpose(factors, b)'s columns", "equation (2)", rtol=1e-12)
    unchanged(lambda b: apply_q_transpose(factors, b), b)
    dtype = apply_q_transpose(some_factors(dtype=np.float32), random_matrix(9, 3).astype(np.float32)).dtype
    assert dtype == np.float32, f"apply_q_transpose of float32 factors and float32 b returned {dtype}"


def test_apply_q_applies_the_last_mirror_first():
    vectors = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 3.0]])
    factors = HouseholderQR(vectors, np.array([8 / 9, 0.2]), np.eye(2))
    b = np.array([[4.5, 2.0], [9.0, -1.0], [2.25, 5.0]])
    # v2'b = (15.75, 14): H2 b = b - v2 (3.15, 2.8).
    once = b - np.outer(vectors[:, 1], [3.15, 2.8])
    expected = once - 8 / 9 * np.outer(vectors[:, 0], once[0] + 0.5 * once[1] - once[2])
    call = "apply_q(factors, b) of two mirrors and two columns"
    assert_close(apply_q(factors, b), expected, call, "equation (7)", rtol=RTOL)


@pytest.mark.parametrize("n_rhs", [1, 5, 40])
@pytest.mark.parametrize("shape", [(9, 4), (6, 6), (30, 20)])
def test_apply_q_multiplies_by_the_product_of_all_mirrors(shape, n_rhs):
    factors, b = some_factors(*shape), random_matrix(shape[0], n_rhs)
    call = f"apply_q(factors, b) of {shape[1]} mirrors in {shape[0]} dimensions, b of shape {b.shape}"
    assert_close(apply_q(factors, b), product_of_mirrors(factors) @ b, call, "equation (7)", rtol=0, atol=1e-11)


def test_apply_q_undoes_apply_q_transpose():
    for shape in ((30, 12), (12, 30)):
        factors, b = householder_qr(random_matrix(*shape)), random_matrix(shape[0], 3, 9)
        call = f"apply_q(factors, apply_q_transpose(factors, b)) for a matrix of shape {shape}"
        assert_close(apply_q(factors, apply_q_transpose(factors, b)), b, call, "Q Q' = I", rtol=0, atol=1e-12)


def test_apply_q_keeps_float32_and_leaves_b_alone():
    unchanged(lambda b: apply_q(some_factors(), b), random_matrix(9, 3))
    dtype = apply_q(some_factors(dtype=np.float32), random_matrix(9, 3).astype(np.float32)).dtype
    assert dtype == np.float32, f"apply_q of float32 factors and float32 b returned {dtype}"


# form_qr


def expected_shapes(a, mode):
    n_inner = len(a) if mode == "full" else min(a.shape)
    return [(len(a), n_inner), (n_inner, a.shape[1])]


@pytest.mark.parametrize("mode", ["economy", "full"])
@pytest.mark.parametrize("shape", [(9, 4, 4), (4, 4, 9), (5, 5, 5), (6, 1, 1), (1, 1, 3)])
def test_form_qr_returns_the_columns_of_q_and_the_rows_of_r_that_the_mode_asks_for(shape, mode):
    factors = (
        some_factors(*shape)
        if shape[1] > 1
        else HouseholderQR(np.eye(shape[0], 1), np.full(1, 2.0), np.ones((1, shape[2])))
    )
    q, r = form_qr(factors, mode)
    n_inner = shape[0] if mode == "full" else shape[1]
    call = f"form_qr(factors, {mode!r}) of {shape[1]} mirrors in {shape[0]} dimensions"
    expected_r = np.zeros((n_inner, shape[2]))
    expected_r[: shape[1]] = factors.r
    expected_q = product_of_mirrors(factors)[:, :n_inner]
    assert_close(q, expected_q, f"q of {call}", "equation (8)", rtol=0, atol=1e-13)
    assert_close(r, expected_r, f"r of {call}", "equation (8)", rtol=0, atol=0)


@pytest.mark.parametrize("mode", ["economy", "full"])
@EVERY_MATRIX
def test_form_qr_gives_back_the_matrix_with_orthonormal_columns(name, mode):
    a = MATRICES[name]
    q, r = form_qr(householder_qr(a), mode)
    call = f"form_qr(householder_qr(a), {mode!r}) of {name}"
    shapes, expected = [q.shape, r.shape], expected_shapes(a, mode)
    assert shapes == expected, f"{call} returned shapes {shapes}, expected {expected} by (8)"
    assert_triangle(r, call)
    assert_orthonormal(q, call, "equation (9)")
    assert_product(q, r, a, call, "equations (8) and (9)")


def test_form_qr_is_economical_unless_told_otherwise_and_then_needs_no_square_matrix():
    # The square Q of a million rows would need 8 terabytes.
    factors = HouseholderQR(np.ones((1_000_000, 1)), np.array([2e-6]), np.array([[-3000.0]]))
    try:
        q, _ = form_qr(factors)
    except MemoryError:
        pytest.fail("form_qr(factors) of a million rows ran out of memory: by (8) q has no more columns than mirrors")
    assert q.shape == (1_000_000, 1), f"form_qr(factors) returned q of shape {q.shape}; by (8) it has one column"
    assert_close(q[:3, 0], [1 - 2e-6, -2e-6, -2e-6], "the first entries of that q", "equation (8)", rtol=1e-9)


@pytest.mark.parametrize("mode", ["economy", "full"])
def test_form_qr_keeps_float32_and_leaves_the_factors_alone(mode):
    dtypes = {part.dtype.name for part in form_qr(some_factors(dtype=np.float32), mode)}
    assert dtypes == {"float32"}, f"form_qr of float32 factors, {mode!r}, returned {dtypes}"
    factors = some_factors()
    unchanged(lambda *parts: form_qr(HouseholderQR(*parts), mode), factors.vectors, factors.betas, factors.r)


# givens_rotation


@pytest.mark.parametrize(("a", "b"), [(6.0, 2.5), (-6.0, 2.5), (1.4, -4.8), (-1.4, -4.8), (0.0, 2.5), (-6.5, 0.0)])
def test_givens_rotation_is_that_of_equation_10(a, b):
    c, s, r = givens_rotation(a, b)
    length = float(np.sqrt(a * a + b * b))
    expected = np.array([a / length, b / length, length]) * (-1 if r < 0 else 1)
    assert_close([c, s, r], expected, f"givens_rotation({a}, {b})", "equation (10)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-150, 1e150, 1e200, 1e300])
def test_givens_rotation_survives_squares_that_overflow_or_vanish(scale):
    c, s, r = givens_rotation(1.4 * scale, -4.8 * scale)
    expected = np.array([0.28, -0.96, 5.0]) * (-1 if r < 0 else 1)
    call = f"givens_rotation(1.4 * {scale:g}, -4.8 * {scale:g}), with r divided by {scale:g},"
    assert_close([c, s, r / scale], expected, call, "equation (10)", rtol=RTOL)


@pytest.mark.parametrize(("a", "b"), [(3e150, 2e-160), (3e-160, 2e150), (-2.0, 1e-9), (1e-9, -2.0)])
def test_givens_rotation_of_numbers_of_different_size_is_orthogonal_and_makes_its_zero(a, b):
    c, s, r = givens_rotation(a, b)
    size, call = max(abs(a), abs(b)), f"givens_rotation({a}, {b})"
    assert_close(c * c + s * s, 1.0, f"c^2 + s^2 of {call}", "equation (10)", rtol=RTOL)
    turned = [(c * (a / size) + s * (b / size)) - r / size, -s * (a / size) + c * (b / size)]
    # Each of the two sums has terms of at most size, so a rounding or two of 1e-16.
    assert_close(
        turned, [0.0, 0.0], f"c a + s b - r and -s a + c b of {call}, over {size:g}", "(10)", rtol=0, atol=1e-15
    )


def test_givens_rotation_of_two_zeros_is_the_identity():
    assert_close(givens_rotation(0.0, 0.0), (1.0, 0.0, 0.0), "givens_rotation(0, 0)", "equation (10)")


# givens_qr


def test_givens_qr_of_a_small_matrix_is_that_computed_by_hand():
    a = np.array([[1.4, 2.0, -1.0], [4.8, 0.5, 3.0]])
    # One rotation by c = 0.28, s = 0.96.
    expected = [[5.0, 1.04, 2.6], [0.0, -1.78, 1.8]]
    factors = givens_qr(a)
    signs = np.array([np.sign(factors.r[0, 0]), -np.sign(factors.r[1, 1])])
    call = "givens_qr([[1.4, 2, -1], [4.8, 0.5, 3]])"
    assert_close(signs[:, None] * factors.r, expected, f"r of {call}, rows signed (+, -)", "equation (11)", rtol=RTOL)
    q = [[0.28, -0.96], [0.96, 0.28]]
    assert_close(factors.q * signs, q, f"q of {call}, columns signed alike", "equation (11)", rtol=RTOL)
    assert_close(factors.n_rotations, 1, f"n_rotations of {call}", "equation (11)")


@EVERY_MATRIX
def test_givens_qr_gives_back_the_matrix_with_an_orthogonal_q(name):
    a = MATRICES[name]
    factors = givens_qr(a)
    call = f"givens_qr(a) of {name}"
    shapes, expected = [factors.q.shape, factors.r.shape], expected_shapes(a, "full")
    assert shapes == expected, f"{call} has q and r of the shapes {shapes}, expected {expected}"
    assert_triangle(factors.r, call)
    assert_orthonormal(factors.q, call, "equation (9)")
    assert_product(factors.q, factors.r, a, call, "equations (11) and (9)")


@pytest.mark.parametrize("shape", [(12, 7), (8, 8), (5, 9)])
def test_givens_qr_finds_the_r_of_scipy_up_to_the_signs_of_its_rows(shape):
    a = random_matrix(*shape)
    ours, theirs = givens_qr(a).r[: min(shape)], scipy.linalg.qr(a, mode="economic")[1]
    signs = np.sign(np.diag(ours)) * np.sign(np.diag(theirs))
    call = f"givens_qr(a).r of shape {shape}, with the signs of SciPy's rows"
    assert_close(signs[:, None] * ours, theirs, call, "equation (11), by SciPy", rtol=0, atol=1e-11)


@pytest.mark.parametrize(("n_rows", "n_cols"), [(9, 9), (10, 9), (9, 14)])
def test_givens_qr_of_a_hessenberg_matrix_takes_one_rotation_for_each_subdiagonal_entry(n_rows, n_cols):
    a = np.triu(random_matrix(n_rows, n_cols), -1)
    factors = givens_qr(a)
    call = f"givens_qr(a) of an upper Hessenberg matrix of shape {a.shape}"
    assert_close(factors.n_rotations, min(n_rows - 1, n_cols), f"n_rotations of {call}", "equation (11)")
    assert_product(factors.q, factors.r, a, call, "equations (11) and (9)")


@pytest.mark.parametrize(("n_rows", "n_cols", "count"), [(8, 5, 25), (6, 6, 15), (4, 9, 6), (5, 1, 4), (1, 5, 0)])
def test_givens_qr_of_a_full_matrix_takes_one_rotation_for_each_entry_below_the_diagonal(n_rows, n_cols, count):
    call = f"n_rotations of givens_qr(a) of shape ({n_rows}, {n_cols})"
    assert_close(givens_qr(random_matrix(n_rows, n_cols)).n_rotations, count, call, "equation (11)")


def test_givens_qr_of_an_upper_triangular_matrix_takes_no_rotation():
    for a in (np.triu(random_matrix(7, 5)), np.zeros((4, 3))):
        call = f"n_rotations of givens_qr(a) of an upper triangle of shape {a.shape}"
        assert_close(givens_qr(a).n_rotations, 0, call, "equation (11)")


def test_givens_qr_keeps_float32_and_leaves_its_matrix_alone():
    a = random_matrix(9, 6).astype(np.float32)
    factors, eps = givens_qr(a), float(np.finfo(np.float32).eps)
    dtypes = {factors.q.dtype.name, factors.r.dtype.name}
    assert dtypes == {"float32"}, f"givens_qr of float32 has q and r of {dtypes}"
    assert_product(factors.q, factors.r, a, "givens_qr(a) in float32", "equations (11) and (9)", eps)
    unchanged(givens_qr, random_matrix(6, 4))


# What is given: the checks of the arguments


NO_MATRIX = pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.ones(3), np.array([[np.nan]]), np.array([[1j]])])


@pytest.mark.given
@pytest.mark.parametrize("x", [np.array([]), np.ones((2, 2)), np.array([1.0, np.nan]), np.array([np.inf]), [1j]])
def test_householder_vector_refuses_what_is_no_vector_of_finite_numbers(x):
    with pytest.raises(ValueError, match="x must"):
        householder_vector(x)


@pytest.mark.given
@NO_MATRIX
def test_householder_qr_and_all_others_refuse_what_is_no_matrix_of_finite_numbers(bad):
    for factorise in (householder_qr, givens_qr):
        with pytest.raises(ValueError, match="a must"):
            factorise(bad)
    with pytest.raises(ValueError, match="a must"):
        apply_reflector(np.ones(3), 1.0, bad)
    for apply in (apply_q, apply_q_transpose):
        with pytest.raises(ValueError, match="b must"):
            apply(some_factors(), bad)


@pytest.mark.given
def test_apply_reflector_and_apply_q_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="v must"):
        apply_reflector(np.array([1.0, np.inf]), 1.0, np.ones((2, 2)))
    with pytest.raises(ValueError, match="a must"):
        apply_reflector(np.ones(3), 1.0, np.ones((2, 3)))
    for apply in (apply_q, apply_q_transpose):
        with pytest.raises(ValueError, match="b must"):
            apply(some_factors(9, 4), np.ones((4, 2)))


@pytest.mark.given
@pytest.mark.parametrize("mode", ["reduced", "complete", "", None])
def test_form_qr_refuses_an_unknown_mode(mode):
    with pytest.raises(ValueError, match="mode must"):
        form_qr(some_factors(), mode)


@pytest.mark.given
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_givens_rotation_refuses_what_is_not_finite(bad):
    for a, b in ((bad, 1.0), (1.0, bad)):
        with pytest.raises(ValueError, match="a and b must"):
            givens_rotation(a, b)
