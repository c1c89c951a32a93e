"""Shared tests of linalg/randomized_svd: run on the reference, and on the learner's file.

What is exact on paper (matrices of a rank that the sketch covers, projections) is right to rounding: BOUND = 100 n eps of the
largest singular value leaves a margin of ten or more. What is random is tested over independent draws against its exact mean, with
6 standard errors: a right solution fails one of these tests with a probability below 2e-9, whatever the order of its random
numbers. Where only a bound on the mean is known, the mean of the draws must be below it; the bounds hold with so much room
here that six standard errors of the mean fit in, and the tests check that they do. The probability that an estimate by ten probes
is too small is below 1e-10.
"""

import math
import tracemalloc

import numpy as np
import pytest
import scipy.sparse

from mlpath.linalg._shared import with_singular_values
from mlpath.linalg.randomized_svd import (
    adaptive_range,
    error_estimate,
    frobenius_error_bound,
    randomized_svd,
    range_finder,
    single_pass_svd,
    spectral_error_bound,
    svd_from_range,
)
from mlpath.testing import assert_close

RTOL = 1e-9
EPS = float(np.finfo(float).eps)
EPS32 = float(np.finfo(np.float32).eps)
SCALES = [1e-150, 1e150]
SHAPES = [(30, 17), (17, 30), (12, 12)]
LEAST = 10 * np.sqrt(2 / np.pi)


def rng_for(seed):
    return np.random.default_rng([20240301, seed])


def matrix(values, shape, seed=0):
    """A matrix of a shape with the given singular values, and zeros after them."""
    values = np.r_[values, np.zeros(min(shape) - len(values))]
    a = with_singular_values(values, max(shape), rng_for(seed))
    return a if shape[0] >= shape[1] else a.T


def kinds(a, folder):
    """The same matrix as each kind of matrix."""
    mapped = np.memmap(folder / "a", dtype=a.dtype, mode="w+", shape=a.shape)
    mapped[:] = a
    return {
        "an array": a,
        "an array in Fortran's order": np.asfortranarray(a),
        "an array mapped from a file": np.memmap(folder / "a", dtype=a.dtype, mode="r", shape=a.shape),
        "a sparse array": scipy.sparse.csr_array(a),
        "a sparse array by columns": scipy.sparse.csc_array(a),
        "a sparse matrix": scipy.sparse.coo_matrix(a),
    }


class Counting:
    """A matrix that counts the products with it, and refuses anything but products."""

    def __init__(self, a, log=None):
        self.a, self.log = a, [] if log is None else log
        self.shape, self.dtype, self.ndim = a.shape, a.dtype, 2

    def tocsr(self):
        raise AssertionError("the matrix was converted, expected products with it only")

    @property
    def T(self):
        return Counting(self.a.T, self.log)

    def __matmul__(self, x):
        self.log.append(np.shape(x))
        return self.a @ x

    def __rmatmul__(self, x):
        self.log.append(np.shape(x))
        return x @ self.a


def check_orthonormal(q, shape, call, eps=EPS):
    assert q.shape == shape, f"{call} has the shape {q.shape}, expected {shape}"
    loss = np.abs(q.T.astype(float) @ q.astype(float) - np.eye(shape[1])).max(initial=0)
    bound = 100 * len(q) * eps
    assert loss <= bound, f"{call}: Q'Q differs from I by {loss:.2g}, expected at most {bound:.2g}"


def check_patterns(found, shape, rank, call, eps=EPS):
    """Shapes, orthonormal patterns, and falling singular values."""
    check_orthonormal(found.u, (shape[0], rank), f"{call}.u", eps)
    check_orthonormal(found.vt.T, (shape[1], rank), f"the transpose of {call}.vt", eps)
    assert found.s.shape == (rank,), f"{call}.s has the shape {found.s.shape}, expected {(rank,)}"
    assert (np.diff(found.s) <= 0).all() and (found.s >= 0).all(), f"{call}.s is {found.s}, expected it to fall"


def product(found):
    return found.u.astype(float) * found.s.astype(float) @ found.vt.astype(float)


def off(a, q):
    """The error (1), in the spectral norm."""
    return np.linalg.norm(a - q @ (q.T @ a), 2)


def check_mean(values, expected, call, because):
    values = np.asarray(values)
    error = 6 * values.std() / np.sqrt(len(values))
    assert abs(values.mean() - expected) <= error, (
        f"{call} is {values.mean():.4f} in the mean of {len(values)} draws, expected {expected:.4f} by {because}; "
        f"6 standard errors are {error:.4f}"
    )


def check_unchanged(function, *arrays):
    before = [array.copy() for array in arrays]
    function(*arrays)
    for array, copy in zip(arrays, before, strict=True):
        assert np.array_equal(array, copy), f"an array that was given is now\n{array}\nexpected it to stay\n{copy}"


# range_finder


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n_iterations", [0, 1, 3])
def test_range_finder_finds_the_range_of_a_matrix_of_low_rank(shape, n_iterations):
    a = matrix([7.3, 4.1, 2.6, 0.9], shape)
    for size in (4, 6, min(shape)):
        call = f"range_finder(a, {size}, n_iterations={n_iterations}) for a of the shape {shape} and of rank 4"
        q = range_finder(a, size, n_iterations=n_iterations, rng=rng_for(1))
        check_orthonormal(q, (shape[0], size), call)
        assert off(a, q) < 1e-9, f"{call} leaves {off(a, q):.2g} of a outside, expected nothing but rounding"


@pytest.mark.parametrize("n_iterations", [0, 1, 2])
def test_range_finder_turns_towards_the_strong_patterns_by_equation_3(n_iterations):
    # 30 singular values of 1 and 30 of r, and 30 columns. For one column and two values, the mean share of the strong one is
    # 1 / (1 + c) with c = r^(2t+1), as q1^2 = 1 / (1 + c^2 x^2) with x a quotient of two normal numbers. For 30 it is the same
    # to 0.006, and the standard deviation is 0.0115 (of 400 draws of Q from (2), worst 0.036): the mean of four has 0.006.
    ratio, rng = 0.7, rng_for(2)
    a = matrix(np.repeat([1.0, ratio], 30), (70, 60))
    strong = np.linalg.svd(a)[0][:, :30]
    shares = []
    for _ in range(4):
        q = range_finder(a, 30, n_iterations=n_iterations, rng=rng)
        shares.append(np.sum((strong.T @ q) ** 2) / 30)
    found, expected = np.mean(shares), 1 / (1 + ratio ** (2 * n_iterations + 1))
    assert abs(found - expected) < 0.045, (
        f"the share of the strong patterns in range_finder(a, 30, n_iterations={n_iterations}) is {found:.3f}, expected "
        f"{expected:.3f} within 0.045, by (3)"
    )


def test_range_finder_draws_normal_numbers():
    # Of the identity, one column is the test vector, scaled. The means of entries, of their squares and fourth powers are 0, 1
    # and 3 for normal numbers, the first and the last with standard errors of 1 / sqrt(n) and sqrt(24 / n).
    n = 20_000
    q = np.sqrt(n) * range_finder(scipy.sparse.eye_array(n, format="csr"), 1, rng=rng_for(3))[:, 0]
    call = "range_finder(identity, 1), scaled to the mean square 1,"
    assert abs(q.mean()) < 6 / np.sqrt(n), f"{call} has the mean {q.mean():.3f}, expected 0 of a normal test vector"
    fourth = np.mean(q**4)
    assert abs(fourth - 3) < 6 * np.sqrt(24 / n), (
        f"{call} has the mean fourth power {fourth:.3f}, expected 3 of normal numbers"
    )


def test_range_finder_keeps_its_expected_errors():
    values = 1 / np.arange(1.0, 26)
    a, rng = matrix(values, (40, 25)), rng_for(4)
    for n_iterations in (0, 2):
        errors = [
            a - q @ (q.T @ a) for q in (range_finder(a, 9, n_iterations=n_iterations, rng=rng) for _ in range(60))
        ]
        for order, name in ((2, "spectral"), ("fro", "Frobenius")):
            sizes = np.array([np.linalg.norm(error, order) for error in errors])
            if n_iterations and order == "fro":
                continue
            # By (7) and (8), for all k + p = 9: the least of the bounds. And no 9 columns do better than the best.
            if order == "fro":
                bound = min(np.sqrt(1 + k / (8 - k)) * np.linalg.norm(values[k:]) for k in range(1, 8))
            else:
                power = 2 * n_iterations + 1
                bound = min(
                    (
                        (1 + np.sqrt(k / (8 - k))) * values[k] ** power
                        + np.e * 3 / (9 - k) * np.linalg.norm(values[k:] ** power)
                    )
                    ** (1 / power)
                    for k in range(1, 8)
                )
            best = values[9] if order == 2 else np.linalg.norm(values[9:])
            call = f"the {name} error (1) of range_finder(a, 9, n_iterations={n_iterations})"
            upper = sizes.mean() + 6 * sizes.std() / np.sqrt(len(sizes))
            assert upper < bound, f"{call} is {sizes.mean():.4f} in the mean, expected below {bound:.4f} by (7) or (8)"
            assert sizes.min() >= best * (1 - 1e-9), f"{call} is {sizes.min():.4f}, below the best possible {best:.4f}"


def test_range_finder_orthonormalises_between_the_products():
    # After t = 4 iterations without that, all that is below eps^(1/9) = 0.018 of the largest would be lost.
    values = np.array([1.0, 0.9, 1e-6, 1e-7, 1e-9, 0, 0, 0])
    a = matrix(values, (20, 8))
    q = range_finder(a, 5, n_iterations=4, rng=rng_for(5))
    call = "range_finder(a matrix with singular values 1, 0.9, 1e-6, 1e-7, 1e-9, 5, n_iterations=4)"
    check_orthonormal(q, (20, 5), call)
    assert off(a, q) < 1e-12, f"{call} leaves {off(a, q):.2g} outside, expected rounding"


def test_range_finder_takes_so_many_passes():
    for n_iterations in (0, 1, 3):
        a = Counting(matrix([3.0, 2.0, 1.0], (9, 7)))
        range_finder(a, 3, n_iterations=n_iterations, rng=rng_for(6))
        expected = 1 + 2 * n_iterations
        assert len(a.log) == expected, (
            f"range_finder(a, 3, n_iterations={n_iterations}) took {len(a.log)} products with a, expected {expected}"
        )


def test_range_finder_takes_every_kind_of_matrix(tmp_path):
    for name, a in kinds(matrix([7.3, 4.1, 2.6], (11, 8)), tmp_path).items():
        q = range_finder(a, 3, n_iterations=1, rng=rng_for(7))
        assert off(matrix([7.3, 4.1, 2.6], (11, 8)), q) < 1e-9, f"range_finder of {name} misses a part of the range"
    q = range_finder(np.array([[3, 0], [0, 0], [4, 0]]), 1, rng=rng_for(7))
    assert_close(
        np.abs(q), np.array([[0.6], [0.0], [0.8]]), "range_finder([[3, 0], [0, 0], [4, 0]], 1)", "(2)", atol=1e-12
    )


@pytest.mark.parametrize("a", [np.zeros((6, 4)), np.ones((6, 4)), np.ones((1, 5)), np.ones((5, 1))])
def test_range_finder_is_orthonormal_beyond_the_rank(a):
    size = min(a.shape)
    for n_iterations in (0, 2):
        q = range_finder(a, size, n_iterations=n_iterations, rng=rng_for(8))
        check_orthonormal(q, (len(a), size), f"range_finder of a matrix of rank 0 or 1, {a.shape}, size {size}")
        assert off(a, q) < 1e-12, f"range_finder of a matrix of the shape {a.shape} leaves {off(a, q):.2g}, expected 0"


@pytest.mark.parametrize("scale", SCALES)
def test_range_finder_is_the_same_in_all_units(scale):
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    q = range_finder(scale * a, 3, n_iterations=2, rng=rng_for(9))
    check_orthonormal(q, (11, 3), f"range_finder({scale:g} * a, 3)")
    assert off(a, q) < 1e-9, f"range_finder({scale:g} * a, 3) leaves {off(a, q):.2g} of a outside, expected nothing"


def test_range_finder_keeps_float32_and_leaves_its_matrix_alone():
    a = matrix([7.3, 4.1, 2.6], (11, 8)).astype(np.float32)
    for n_iterations in (0, 1):
        q = range_finder(a, 3, n_iterations=n_iterations, rng=rng_for(10))
        assert q.dtype == np.float32, f"range_finder of a float32 matrix returned {q.dtype}"
        check_orthonormal(q, (11, 3), "range_finder in float32", EPS32)
    check_unchanged(lambda a: range_finder(a, 3, n_iterations=1, rng=rng_for(10)), a)


@pytest.mark.given
def test_range_finder_refuses():
    for size in (0, 4, 1.5):
        with pytest.raises(ValueError, match="size must"):
            range_finder(np.ones((3, 5)), size, rng=rng_for(0))
    for n_iterations in (-1, 0.5):
        with pytest.raises(ValueError, match="n_iterations must"):
            range_finder(np.ones((3, 5)), 1, n_iterations=n_iterations, rng=rng_for(0))


BAD = [np.ones(3), np.ones((0, 3)), np.array([[1j]]), np.array([["x"]]), np.ones((2, 2, 2))]


@pytest.mark.given
@pytest.mark.parametrize("a", BAD)
def test_range_finder_and_the_others_refuse_what_is_no_matrix(a):
    for run in (
        lambda: range_finder(a, 1, rng=rng_for(0)),
        lambda: randomized_svd(a, 1, rng=rng_for(0)),
        lambda: svd_from_range(a, np.ones((3, 1))),
        lambda: error_estimate(a, np.ones((3, 1)), rng=rng_for(0)),
        lambda: adaptive_range(a, 1.0, rng=rng_for(0)),
    ):
        with pytest.raises(ValueError, match="a must"):
            run()


def test_range_finder_refuses_what_is_not_finite():
    for bad in (np.nan, np.inf):
        a = np.ones((4, 3))
        a[2, 1] = bad
        for matrix_ in (a, scipy.sparse.csr_array(a)):
            with pytest.raises(ValueError, match="a must be finite"):
                range_finder(matrix_, 2, rng=rng_for(0))


# svd_from_range


def test_svd_from_range_by_hand():
    # q'a = (2.6, -0.72), of length sqrt(7.2784).
    a, q = np.array([[1.0, -2.0], [2.5, 0.6]]), np.array([[0.6], [0.8]])
    found = svd_from_range(a, q)
    s = np.sqrt(7.2784)
    call = f"svd_from_range({a.tolist()}, {q.tolist()})"
    assert_close(found.s, np.array([s]), f"{call}.s", "equation (4)", rtol=RTOL)
    assert_close(product(found), q @ np.array([[2.6, -0.72]]), f"u s vt of {call}", "Q Q'A", rtol=RTOL)
    check_patterns(found, (2, 2), 1, call)


@pytest.mark.parametrize("shape", SHAPES)
def test_svd_from_range_is_the_svd_of_the_projection(shape):
    a = matrix(1.5 * 0.8 ** np.arange(12), shape)
    q = np.linalg.qr(rng_for(11).normal(size=(shape[0], 5)))[0]
    found = svd_from_range(a, q)
    call = f"svd_from_range(a, q) for a of the shape {shape} and 5 columns"
    check_patterns(found, shape, 5, call)
    expected = np.linalg.svd(q @ (q.T @ a), compute_uv=False)[:5]
    assert_close(found.s, expected, f"{call}.s", "the singular values of Q Q'A", rtol=RTOL)
    assert_close(product(found), q @ (q.T @ a), f"u s vt of {call}", "Q Q'A", rtol=0, atol=1e-12)


def test_svd_from_range_takes_every_kind_of_matrix_and_one_pass(tmp_path):
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    q = np.linalg.qr(rng_for(12).normal(size=(11, 2)))[0]
    for name, one in kinds(a, tmp_path).items():
        found = svd_from_range(one, q)
        assert_close(product(found), q @ (q.T @ a), f"u s vt of svd_from_range of {name}", "Q Q'A", rtol=0, atol=1e-12)
    counting = Counting(a)
    svd_from_range(counting, q)
    assert len(counting.log) == 1, f"svd_from_range took {len(counting.log)} products with a, expected 1"


def test_svd_from_range_of_more_columns_than_the_matrix_has():
    a = matrix([7.3, 4.1], (6, 2))
    found = svd_from_range(a, np.eye(6))
    check_patterns(found, (6, 2), 2, "svd_from_range(a 6 x 2 matrix, six columns)")
    assert_close(found.s, np.array([7.3, 4.1]), "svd_from_range(a 6 x 2 matrix, six columns).s", "of a", rtol=RTOL)


def test_svd_from_range_keeps_float32_and_leaves_its_arrays_alone():
    a = matrix([7.3, 4.1, 2.6], (11, 8)).astype(np.float32)
    found = svd_from_range(a, np.eye(11, 2, dtype=np.float32))
    for name in ("u", "s", "vt"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"svd_from_range in float32 returned {name} of {dtype}"
    check_unchanged(svd_from_range, a, np.eye(11, 2, dtype=np.float32))


@pytest.mark.given
def test_svd_from_range_and_error_estimate_refuse_columns_that_do_not_fit():
    for q in (np.ones((4, 1)), np.ones(3)):
        with pytest.raises(ValueError, match="q must"):
            svd_from_range(np.ones((3, 5)), q)
        with pytest.raises(ValueError, match="q must"):
            error_estimate(np.ones((3, 5)), q, rng=rng_for(0))


# randomized_svd


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("rank", "n_oversamples"), [(2, 3), (5, 0), (3, 10), (12, 10)])
def test_randomized_svd_is_exact_if_the_sketch_covers_the_rank(shape, rank, n_oversamples):
    values = np.array([7.3, 4.1, 4.1, 2.6, 0.9])
    a = matrix(values, shape)
    found = randomized_svd(a, rank, n_oversamples=n_oversamples, rng=rng_for(13))
    call = f"randomized_svd(a, {rank}, n_oversamples={n_oversamples}) for a of the shape {shape} and of rank 5"
    check_patterns(found, shape, rank, call)
    expected = np.r_[values, np.zeros(12)][:rank]
    assert_close(found.s, expected, f"{call}.s", "the singular values", rtol=RTOL, atol=1e-10)
    # Patterns are the best of their rank: A v = s u, whatever the signs.
    assert_close(a @ found.vt.T, found.u * found.s, f"a @ vt' of {call}", "A v = s u", rtol=0, atol=1e-9)


def test_randomized_svd_comes_near_the_best():
    values = 1 / np.arange(1.0, 41)
    a, rng = matrix(values, (60, 40)), rng_for(14)
    # Worst of 1,000 seeds of the reference: 2.90 and 1.0021 times the best; twice what is above 1 is allowed.
    for n_iterations, factor in ((0, 4.8), (3, 1.005)):
        for _ in range(10):
            found = randomized_svd(a, 6, n_oversamples=4, n_iterations=n_iterations, rng=rng)
            error = np.linalg.norm(a - product(found), 2) / values[6]
            call = f"randomized_svd(a, 6, n_oversamples=4, n_iterations={n_iterations})"
            assert 1 - 1e-9 <= error <= factor, f"{call} has {error:.3f} times the best error, expected up to {factor}"
            assert (found.s <= values[:6] + 1e-9).all(), (
                f"{call}.s is {found.s}, above the singular values {values[:6]}"
            )


def test_randomized_svd_of_sparse_noise():
    rng = rng_for(15)
    a = scipy.sparse.random_array((300, 120), density=0.05, rng=rng, format="csr")
    best = np.linalg.svd(a.toarray(), compute_uv=False)[:5]
    found = randomized_svd(a, 5, rng=rng).s
    # The singular values of noise lie close together. Worst of 1,000 seeds of the reference: 0.931; twice as much may be missing.
    assert (found / best).min() > 0.86, f"randomized_svd(noise, 5).s is {found}, where the singular values are {best}"


def test_randomized_svd_has_two_iterations_and_ten_oversamples_by_default():
    counting = Counting(matrix(np.linspace(5, 1, 20), (30, 20)))
    randomized_svd(counting, 4, rng=rng_for(16))
    assert len(counting.log) == 6, f"randomized_svd(a, 4) took {len(counting.log)} passes, expected 2 + 2 * 2 = 6"
    assert all(14 in shape for shape in counting.log), (
        f"it multiplied with {counting.log}, expected 4 + 10 = 14 vectors"
    )
    counting.log.clear()
    randomized_svd(counting, 4, n_iterations=1, n_oversamples=2, rng=rng_for(16))
    assert len(counting.log) == 4, f"randomized_svd(a, 4, n_iterations=1) took {len(counting.log)} passes, expected 4"
    assert all(6 in shape for shape in counting.log), f"it multiplied with {counting.log}, expected 4 + 2 = 6 vectors"


def test_randomized_svd_takes_every_kind_of_matrix(tmp_path):
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    for name, one in kinds(a, tmp_path).items():
        found = randomized_svd(one, 3, rng=rng_for(17))
        assert_close(product(found), a, f"u s vt of randomized_svd of {name}", "a, of rank 3", rtol=0, atol=1e-12)


def test_randomized_svd_needs_memory_for_a_few_blocks_only():
    n_rows, n_cols = 20_000, 300
    a = scipy.sparse.random_array((n_rows, n_cols), density=0.01, rng=rng_for(18), format="csr")
    randomized_svd(a[:500], 3, n_oversamples=2, rng=rng_for(18))
    tracemalloc.start()
    found = randomized_svd(a, 3, n_oversamples=2, n_iterations=1, rng=rng_for(18))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A block has 0.8 MB: ten of them, but not the dense matrix, 48 MB, nor a square one of 20,000.
    assert peak < 10e6, (
        f"randomized_svd of a sparse 20,000 x 300 matrix, 5 vectors, took {peak / 1e6:.1f} MB, expected under 10"
    )
    check_patterns(found, (n_rows, n_cols), 3, "randomized_svd of a sparse 20,000 x 300 matrix, 5 vectors,")


@pytest.mark.parametrize("scale", SCALES)
def test_randomized_svd_is_the_same_in_all_units(scale):
    found = randomized_svd(scale * matrix([7.3, 4.1, 2.6], (11, 8)), 2, rng=rng_for(19)).s / scale
    assert_close(found, np.array([7.3, 4.1]), f"randomized_svd({scale:g} * a, 2).s / {scale:g}", "of a", rtol=RTOL)


def test_randomized_svd_keeps_float32_and_leaves_its_matrix_alone():
    a = matrix([7.3, 4.1, 2.6], (11, 8)).astype(np.float32)
    found = randomized_svd(a, 2, rng=rng_for(20))
    check_patterns(found, (11, 8), 2, "randomized_svd in float32", EPS32)
    for name in ("u", "s", "vt"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"randomized_svd in float32 returned {name} of {dtype}"
    check_unchanged(lambda a: randomized_svd(a, 2, rng=rng_for(20)), a)


@pytest.mark.given
def test_randomized_svd_refuses():
    for rank in (0, 4, 1.5):
        with pytest.raises(ValueError, match="rank must"):
            randomized_svd(np.ones((3, 5)), rank, rng=rng_for(0))
    with pytest.raises(ValueError, match="n_oversamples must"):
        randomized_svd(np.ones((3, 5)), 1, n_oversamples=-1, rng=rng_for(0))


# error_estimate


@pytest.mark.parametrize("n_probes", [1, 4, 10])
def test_error_estimate_is_the_largest_of_its_probes(n_probes):
    # With one pattern of size 2.5 left, a probe leaves 2.5 |g| of it, g standard normal. The mean of the largest of r of these
    # is 2.5 times the integral of 1 - P(|g| < x)^r.
    a, rng = matrix([7.3, 2.5], (5, 3)), rng_for(21)
    q = np.linalg.svd(a)[0][:, :1]
    found = [error_estimate(a, q, n_probes=n_probes, rng=rng) for _ in range(200)]
    x = np.linspace(0, 12, 6001)
    inside = np.array([math.erf(value / math.sqrt(2)) for value in x])
    mean = np.trapezoid(1 - inside**n_probes, x)
    call = f"error_estimate(a, q, n_probes={n_probes})"
    check_mean(found, LEAST * 2.5 * mean, call, "(5)")


def test_error_estimate_takes_ten_probes_by_default():
    counting = Counting(matrix([7.3, 2.5], (5, 3)))
    error_estimate(counting, np.eye(5, 1), rng=rng_for(22))
    assert counting.log == [(3, 10)] or counting.log == [(10, 3)], (
        f"error_estimate multiplied with blocks of {counting.log}, expected one block of ten vectors"
    )


def test_error_estimate_is_above_the_error():
    rng = rng_for(23)
    for shape in SHAPES:
        a = matrix(1 / np.arange(1.0, 13), shape)
        q = range_finder(a, 4, rng=rng)
        found, error = error_estimate(a, q, rng=rng), off(a, q)
        call = f"error_estimate(a, q) for a of the shape {shape}"
        # At most 10^-10 to be below, and no norm of a probe is ten times the Frobenius norm: chi squared of r <= 12 terms.
        assert error <= found <= 10 * LEAST * np.linalg.norm(a), (
            f"{call} is {found:.4g}, where the error is {error:.4g}"
        )


def test_error_estimate_of_no_columns_and_of_all():
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    found = error_estimate(a, np.empty((11, 0)), rng=rng_for(24))
    assert found >= 7.3, (
        f"error_estimate(a, no columns) is {found:.4g}, expected at least the largest singular value, 7.3"
    )
    found = error_estimate(a, np.linalg.qr(a[:, :3])[0], rng=rng_for(24))
    assert found < 1e-11, f"error_estimate(a, a basis of its range) is {found:.4g}, expected rounding"
    found = error_estimate(np.zeros((3, 4)), np.eye(3, 1), rng=rng_for(24))
    assert found == 0, f"error_estimate(zeros, q) is {found}, expected 0"


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_error_estimate_where_squares_are_zero_or_infinite(scale):
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    found = error_estimate(scale * a, np.eye(11, 2), rng=rng_for(25)) / scale
    assert 1 < found < 1000, f"error_estimate({scale:g} * a, q) / {scale:g} is {found:.4g}, expected as of a, 7 to 300"


def test_error_estimate_takes_every_kind_of_matrix_and_leaves_it_alone(tmp_path):
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    for name, one in kinds(a, tmp_path).items():
        found = error_estimate(one, np.eye(11, 2), rng=rng_for(26))
        assert found > off(a, np.eye(11, 2)), f"error_estimate of {name} is {found:.4g}, below the error"
    check_unchanged(lambda a, q: error_estimate(a, q, rng=rng_for(26)), a, np.eye(11, 2))


@pytest.mark.given
def test_error_estimate_refuses():
    for n_probes in (0, 2.5):
        with pytest.raises(ValueError, match="n_probes must"):
            error_estimate(np.ones((3, 5)), np.eye(3, 1), n_probes=n_probes, rng=rng_for(0))


# adaptive_range


@pytest.mark.parametrize("shape", [(80, 60), (60, 80)])
@pytest.mark.parametrize(("tol", "block_size"), [(1e-1, 5), (1e-3, 10), (1e-6, 7)])
def test_adaptive_range_has_as_many_columns_as_it_takes(shape, tol, block_size):
    values = 3 * 0.7 ** np.arange(60.0)
    a = matrix(values, shape)
    q = adaptive_range(a, tol, block_size=block_size, rng=rng_for(27))
    call = f"adaptive_range(a, {tol:g}, block_size={block_size}) for a of the shape {shape}"
    check_orthonormal(q, (shape[0], q.shape[1]), call)
    # For 5 probes a failure is as likely as 1e-5; but it takes one far below the mean, and the seed is fixed: off is within tol.
    assert off(a, q) <= tol, f"{call} leaves {off(a, q):.2g}, more than the tolerance"
    # (5) is some 10 to 60 times too cautious, so that it goes on to patterns of about tol / 100: one block more than that.
    needed = int((values > tol / 200).sum()) + block_size
    assert q.shape[1] <= needed, f"{call} has {q.shape[1]} columns, expected at most {needed}"
    assert q.shape[1] % block_size == 0 or q.shape[1] == 60, (
        f"{call} has {q.shape[1]} columns, no multiple of {block_size}"
    )


def test_adaptive_range_of_a_matrix_of_low_rank():
    a = matrix([7.3, 4.1, 2.6, 0.9, 0.5, 0.3, 0.2], (30, 20))
    q = adaptive_range(a, 1e-8, block_size=5, rng=rng_for(28))
    check_orthonormal(q, (30, 10), "adaptive_range(a matrix of rank 7, 1e-8, block_size=5)")
    assert off(a, q) < 1e-12, f"adaptive_range of a matrix of rank 7 leaves {off(a, q):.2g}, expected rounding"


def test_adaptive_range_of_what_passes_for_zero():
    for a in (np.zeros((6, 4)), 1e-9 * np.ones((6, 4))):
        q = adaptive_range(a, 1e-3, rng=rng_for(29))
        assert q.shape == (6, 0), (
            f"adaptive_range(a matrix below the tolerance) has the shape {q.shape}, expected (6, 0)"
        )


@pytest.mark.parametrize("shape", [(9, 7), (7, 9)])
def test_adaptive_range_ends_with_the_shorter_side(shape):
    a = matrix(np.linspace(2, 1, 7), shape)
    for block_size in (3, 20):
        q = adaptive_range(a, 1e-3, block_size=block_size, rng=rng_for(30))
        call = f"adaptive_range(a, 1e-3, block_size={block_size}) for a of full rank, {shape}"
        check_orthonormal(q, (shape[0], 7), call)
        assert off(a, q) < 1e-12, f"{call} leaves {off(a, q):.2g}, expected rounding"


def test_adaptive_range_goes_by_the_estimate():
    # Of the identity of size 400, j columns leave 400 - j dimensions, and a probe in these has the length sqrt(400 - j), give or
    # take 0.71. All of ten are below sqrt(300) first for j near 140: before 80 or after 190 with a probability below 1e-6.
    q = adaptive_range(np.eye(400), LEAST * np.sqrt(300), block_size=10, rng=rng_for(31))
    assert 80 <= q.shape[1] <= 190, (
        f"adaptive_range(identity of size 400, 10 sqrt(2 / pi) sqrt(300)) has {q.shape[1]} columns, expected 80 to 190, by (5)"
    )


def test_adaptive_range_goes_by_the_longest_of_its_probes():
    # Of [[1]] ten probes leave ten |g|, g standard normal. All are below 1.2 in 7.3 % of cases: 25 or more times of 60 with a
    # probability below 1e-12. Their mean is nearly always below 1.2.
    rng = rng_for(43)
    none = sum(adaptive_range(np.array([[1.0]]), 1.2 * LEAST, block_size=10, rng=rng).shape[1] == 0 for _ in range(60))
    assert none < 25, (
        f"adaptive_range([[1]], 1.2 * 10 sqrt(2 / pi)) returned no column {none} times of 60, expected some 4 times, by (5)"
    )


def test_adaptive_range_keeps_float32_and_leaves_its_matrix_alone(tmp_path):
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    q = adaptive_range(a.astype(np.float32), 1e-2, block_size=2, rng=rng_for(32))
    assert q.dtype == np.float32, f"adaptive_range of a float32 matrix returned {q.dtype}"
    check_unchanged(lambda a: adaptive_range(a, 1e-2, rng=rng_for(32)), a)
    for name, one in kinds(a, tmp_path).items():
        q = adaptive_range(one, 1e-6, block_size=2, rng=rng_for(32))
        assert q.shape == (11, 4), f"adaptive_range of {name} of rank 3, by blocks of 2, has the shape {q.shape}"


@pytest.mark.parametrize("scale", SCALES)
def test_adaptive_range_is_the_same_in_all_units(scale):
    q = adaptive_range(scale * matrix([7.3, 4.1, 2.6], (11, 8)), scale * 1e-6, block_size=2, rng=rng_for(33))
    assert q.shape == (11, 4), (
        f"adaptive_range({scale:g} * a, {scale:g} * 1e-6) has the shape {q.shape}, expected (11, 4)"
    )


@pytest.mark.given
def test_adaptive_range_refuses():
    for tol in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="tol must"):
            adaptive_range(np.ones((3, 5)), tol, rng=rng_for(0))
    with pytest.raises(ValueError, match="block_size must"):
        adaptive_range(np.ones((3, 5)), 1.0, block_size=0, rng=rng_for(0))


# frobenius_error_bound and spectral_error_bound

S = np.array([7.3, 4.1, 2.6, 0.9, 0.4])


def test_frobenius_error_bound_by_hand():
    # The squares of 2.6, 0.9 and 0.4 sum to 7.73: (1 + 2 / 3) 7.73 = 12.88333 for k = 2, p = 4.
    found = frobenius_error_bound(S, 2, 4)
    assert_close(found, np.sqrt(7.73 * 5 / 3), f"frobenius_error_bound({S.tolist()}, 2, 4)", "equation (7)", rtol=RTOL)
    found = frobenius_error_bound(S, 3, 2)
    assert_close(found, np.sqrt(4 * 0.97), f"frobenius_error_bound({S.tolist()}, 3, 2)", "equation (7)", rtol=RTOL)


def test_frobenius_error_bound_of_nothing_left_is_zero():
    for s, rank in ((S, 5), (np.array([3.0, 0.0, 0.0]), 1)):
        found = frobenius_error_bound(s, rank, 4)
        assert found == 0, f"frobenius_error_bound({s.tolist()}, {rank}, 4) is {found}, expected 0"


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_frobenius_error_bound_where_squares_are_zero_or_infinite(scale):
    found, expected = frobenius_error_bound(scale * S, 2, 4) / scale, np.sqrt(7.73 * 5 / 3)
    assert_close(found, expected, f"frobenius_error_bound({scale:g} s, 2, 4) / {scale:g}", "equation (7)", rtol=RTOL)


def test_spectral_error_bound_by_hand():
    # k = 2, p = 4: the root of 2/3 is 0.816497, and e sqrt(6) / 4 = 1.664606. Without iterations 2.6 * 1.816497 + 1.664606 * 2.780288.
    found = spectral_error_bound(S, 2, 4)
    expected = 2.6 * (1 + np.sqrt(2 / 3)) + np.e * np.sqrt(6) / 4 * np.sqrt(7.73)
    assert_close(found, expected, f"spectral_error_bound({S.tolist()}, 2, 4)", "equation (8)", rtol=RTOL)
    for t in (1, 2, 5):
        power = 2 * t + 1
        inside = 2.6**power * (1 + np.sqrt(2 / 3))
        inside += np.e * np.sqrt(6) / 4 * np.sqrt(2.6 ** (2 * power) + 0.9 ** (2 * power) + 0.4 ** (2 * power))
        call = f"spectral_error_bound({S.tolist()}, 2, 4, n_iterations={t})"
        found = spectral_error_bound(S, 2, 4, n_iterations=t)
        assert_close(found, inside ** (1 / power), call, "equation (8)", rtol=RTOL)


def test_spectral_error_bound_of_nothing_left_is_zero():
    for s, rank in ((S, 5), (np.array([3.0, 0.0, 0.0]), 1)):
        for t in (0, 2):
            found = spectral_error_bound(s, rank, 4, n_iterations=t)
            assert found == 0, f"spectral_error_bound({s.tolist()}, {rank}, 4, {t}) is {found}, expected 0"


@pytest.mark.parametrize("scale", [1e-250, 1e250])
def test_spectral_error_bound_where_powers_are_zero_or_infinite(scale):
    for t in (0, 4):
        found, expected = spectral_error_bound(scale * S, 2, 4, t) / scale, spectral_error_bound(S, 2, 4, t)
        assert_close(found, expected, f"spectral_error_bound({scale:g} s, 2, 4, {t}) / {scale:g}", "(8)", rtol=RTOL)


def test_spectral_error_bound_nears_the_best_error():
    found = spectral_error_bound(np.r_[3.0, np.full(100, 1.5)], 1, 4, n_iterations=200)
    assert 1.5 < found < 1.52, (
        f"spectral_error_bound with 200 iterations is {found:.4f}, expected just above 1.5, by (8)"
    )


def test_spectral_error_bound_and_the_other_leave_their_values_alone():
    check_unchanged(lambda s: frobenius_error_bound(s, 2, 4), S.copy())
    check_unchanged(lambda s: spectral_error_bound(s, 2, 4, 1), S.copy())


@pytest.mark.given
def test_frobenius_error_bound_and_the_other_refuse():
    for function in (frobenius_error_bound, spectral_error_bound):
        for s in ([1.0, 2.0], [1.0, -1.0], [1.0, np.nan], [], [[1.0, 0.5]]):
            with pytest.raises(ValueError, match="singular_values must"):
                function(np.array(s), 1, 4)
        for rank in (0, 6):
            with pytest.raises(ValueError, match="rank must"):
                function(S, rank, 4)
        with pytest.raises(ValueError, match="n_oversamples must"):
            function(S, 2, 1)
    with pytest.raises(ValueError, match="n_iterations must"):
        spectral_error_bound(S, 2, 4, n_iterations=-1)


# single_pass_svd


class Stream:
    """Blocks of rows that can be had once, one at a time, each only while the next has not been asked for."""

    def __init__(self, a, rows):
        self.a, self.rows, self.asked = a, rows, 0

    def __iter__(self):
        assert not self.asked, "the blocks were asked for a second time; they can be had once"
        self.asked = 1
        for first in range(0, self.a.shape[0], self.rows):
            block = self.a[first : first + self.rows].copy()
            yield block
            if isinstance(block, np.ndarray):
                block[:] = np.nan  # whoever kept it has nothing


@pytest.mark.parametrize("shape", [(30, 17), (17, 30)])
@pytest.mark.parametrize("rows", [1, 4, 100])
def test_single_pass_svd_is_exact_for_a_low_rank(shape, rows):
    values = np.array([7.3, 4.1, 4.1, 0.9])
    a = matrix(values, shape)
    found = single_pass_svd(Stream(a, rows), 4, rng=rng_for(34))
    call = f"single_pass_svd(blocks of {rows} rows of a matrix of the shape {shape} and of rank 4, 4)"
    check_patterns(found, shape, 4, call)
    assert_close(found.s, values, f"{call}.s", "the singular values", rtol=RTOL)
    assert_close(product(found), a, f"u s vt of {call}", "a", rtol=0, atol=1e-9)


def test_single_pass_svd_keeps_its_expected_error():
    values = 1 / np.arange(1.0, 26)
    a, rng, size, co_size = matrix(values, (40, 25)), rng_for(35), 8, 15
    squares = []
    for _ in range(100):
        # With rank = size the result is Q X of (10) itself.
        found = single_pass_svd([a[:21], a[21:]], 8, size=size, co_size=co_size, rng=rng)
        squares.append(np.linalg.norm(a - product(found)) ** 2)
    bound = min(
        (1 + size / (co_size - size - 1)) * (1 + k / (size - k - 1)) * (values[k:] ** 2).sum() for k in range(size - 1)
    )
    upper = np.mean(squares) + 6 * np.std(squares) / 10
    assert upper < bound, (
        f"single_pass_svd has the squared error {np.mean(squares):.4f} in the mean, (11) allows {bound:.4f}"
    )
    assert min(squares) > (values[8:] ** 2).sum(), "single_pass_svd has an error below the best possible"
    # What the second sketch costs, by (11): far more than the first alone would.
    wide = [
        np.linalg.norm(a - product(single_pass_svd([a], 8, size=size, co_size=200, rng=rng))) ** 2 for _ in range(30)
    ]
    assert np.mean(wide) < np.mean(squares), (
        f"with co_size=200 the squared error is {np.mean(wide):.4f}, with 15 it is {np.mean(squares):.4f}: expected it to fall"
    )


def test_single_pass_svd_keeps_the_strongest_patterns():
    values = np.r_[9.0, 5.0, 3.0, 0.01 * 0.9 ** np.arange(17)]
    a = matrix(values, (40, 20))
    found = single_pass_svd(Stream(a, 9), 3, rng=rng_for(36))
    check_patterns(found, (40, 20), 3, "single_pass_svd(blocks, 3)")
    # The rest is a thousand times weaker: what leaks in by (11) is below 0.05.
    assert_close(found.s, values[:3], "single_pass_svd(blocks, 3).s", "the largest singular values", rtol=0, atol=0.05)


def test_single_pass_svd_cuts_last():
    # A sketch that covers the rank of the matrix makes (10) exact, and then also its strongest patterns.
    values = np.array([7.3, 4.1, 2.6, 1.9, 0.9, 0.4])
    a = matrix(values, (30, 17))
    for options in ({}, {"size": 6}):
        found = single_pass_svd(Stream(a, 8), 3, rng=rng_for(44), **options)
        call = f"single_pass_svd(blocks of a matrix of rank 6, 3, {options})"
        assert_close(found.s, values[:3], f"{call}.s", "the largest singular values", rtol=RTOL)


def test_single_pass_svd_has_the_sketches_of_its_docstring():
    for options, size, co_size in (({}, 7, 15), ({"size": 5}, 5, 11), ({"co_size": 9, "size": 4}, 4, 9)):
        log = []
        a = matrix(np.linspace(3, 1, 20), (50, 20))
        single_pass_svd([Counting(a[:30], log), Counting(a[30:], log)], 3, rng=rng_for(37), **options)
        # Products with Omega are known by the 20 columns, those with Psi by the 30 or 20 rows of the block.
        assert len(log) == 4, f"single_pass_svd of two blocks took {len(log)} products, expected two for each"
        numbers = sorted({number for shape in log for number in shape} - {20, 30})
        assert numbers == [size, co_size], (
            f"single_pass_svd(blocks, 3, {options}) has sketches of {numbers}, expected {[size, co_size]}"
        )


def test_single_pass_svd_draws_anew_for_each_block():
    # Two blocks that are alike: were Psi the same for both, their difference would be lost in W.
    a = matrix([7.3, 4.1], (6, 5))
    found = single_pass_svd([a, -a, 2 * a], 2, rng=rng_for(38))
    whole = np.vstack([a, -a, 2 * a])
    assert_close(product(found), whole, "u s vt of single_pass_svd([a, -a, 2 a], 2)", "the blocks", rtol=0, atol=1e-9)


def test_single_pass_svd_of_small_matrices():
    for shape in ((2, 9), (9, 2), (1, 1), (3, 3)):
        a = matrix(np.linspace(3, 1, min(shape)), shape)
        found = single_pass_svd([a], min(shape), rng=rng_for(39))
        call = f"single_pass_svd([a], {min(shape)}) for a of the shape {shape}"
        check_patterns(found, shape, min(shape), call)
        assert_close(product(found), a, f"u s vt of {call}", "a", rtol=0, atol=1e-9)


def test_single_pass_svd_takes_sparse_blocks_and_whole_numbers():
    a = matrix([7.3, 4.1, 2.6], (11, 8))
    found = single_pass_svd(Stream(scipy.sparse.csr_array(a), 3), 3, rng=rng_for(40))
    assert_close(product(found), a, "u s vt of single_pass_svd of sparse blocks", "a", rtol=0, atol=1e-9)
    found = single_pass_svd(np.array([[[3, 0]], [[4, 0]]]), 1, rng=rng_for(40))
    assert_close(found.s, np.array([5.0]), "single_pass_svd([[[3, 0]], [[4, 0]]], 1).s", "5", rtol=RTOL)


@pytest.mark.parametrize("scale", SCALES)
def test_single_pass_svd_is_the_same_in_all_units(scale):
    found = single_pass_svd(Stream(scale * matrix([7.3, 4.1], (11, 8)), 4), 2, rng=rng_for(41)).s / scale
    assert_close(found, np.array([7.3, 4.1]), f"single_pass_svd of {scale:g} * a, s / {scale:g}", "of a", rtol=RTOL)


def test_single_pass_svd_keeps_float32_and_leaves_its_blocks_alone():
    a = matrix([7.3, 4.1], (11, 8)).astype(np.float32)
    found = single_pass_svd([a[:6], a[6:]], 2, rng=rng_for(42))
    check_patterns(found, (11, 8), 2, "single_pass_svd in float32", EPS32)
    for name in ("u", "s", "vt"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"single_pass_svd of float32 blocks returned {name} of {dtype}"
    check_unchanged(lambda a: single_pass_svd([a], 2, rng=rng_for(42)), a)


@pytest.mark.given
def test_single_pass_svd_refuses_sketches_without_sense():
    with pytest.raises(ValueError, match="rank must"):
        single_pass_svd([np.ones((3, 4))], 0, rng=rng_for(0))
    with pytest.raises(ValueError, match="size must"):
        single_pass_svd([np.ones((3, 4))], 2, size=1, rng=rng_for(0))
    with pytest.raises(ValueError, match="co_size must"):
        single_pass_svd([np.ones((3, 4))], 1, size=3, co_size=2, rng=rng_for(0))


def test_single_pass_svd_refuses_blocks_that_do_not_fit():
    for blocks in ([], [np.ones((2, 3)), np.ones((2, 4))], [np.ones(3)], [np.array([["x"]])]):
        with pytest.raises(ValueError, match="blocks must"):
            single_pass_svd(blocks, 1, rng=rng_for(0))
    with pytest.raises(ValueError, match="rank must"):
        single_pass_svd([np.ones((1, 4)), np.ones((1, 4))], 3, rng=rng_for(0))
    with pytest.raises(ValueError, match="finite"):
        single_pass_svd([np.ones((3, 4)), np.full((2, 4), np.nan)], 1, rng=rng_for(0))
