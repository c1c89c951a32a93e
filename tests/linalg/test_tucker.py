"""Shared tests of linalg/tucker: run on the reference, and on the learner's file.

Factors are compared by the projections onto their columns, AA', which neither signs nor rotations matter to. These are right to the rounding over the gap between
singular values, above 1e-3 of the largest here. Errors by equation (5) are right to 1e-8, the root of the rounding, where the fit is exact.
"""

import numpy as np
import pytest

from mlpath.linalg.tucker import (
    Tucker,
    choose_ranks,
    compression_ratio,
    hooi,
    hooi_sweep,
    hosvd,
    mode_product,
    multi_mode_product,
    reconstruct,
    relative_error,
    sequential_hosvd,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-10, "atol": 1e-12, "tolerance": "nothing but rounding separates them"}
SPANS = {"rtol": 0, "atol": 1e-8, "tolerance": "rounding over the gap between singular values"}
CASES = [((5, 4), (2, 2)), ((4, 5, 6), (2, 3, 2)), ((3, 5, 4, 6), (2, 2, 3, 2)), ((9, 2, 3), (4, 2, 1))]
X = np.array([[[1.7, -0.4, 2.3, 0.9], [3.1, 5.2, -1.6, 0.3]], [[-2.2, 0.7, 1.9, 4.4], [0.6, -3.5, 2.8, 1.3]]])
X = np.concatenate([X, [[[0.8, 2.6, -1.1, 3.7], [1.4, 0.2, 4.9, -2.7]]]])  # 3 x 2 x 4
SUBSCRIPTS = "abcd"


def random_tensor(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def graded(shape, seed=0):
    """A random tensor whose entries fall off with their indices, so that low ranks do well."""
    x = random_tensor(shape, seed)
    for mode, size in enumerate(shape):
        x = np.moveaxis(np.moveaxis(x, mode, -1) * 0.6 ** np.arange(size), -1, mode)
    return x


def unfolded(x, mode):
    return np.moveaxis(x, mode, 0).reshape(x.shape[mode], -1)


def times(x, matrix, mode):
    return np.moveaxis(np.tensordot(matrix, x, axes=(1, mode)), 0, mode)


def times_all(x, matrices):
    for mode, matrix in enumerate(matrices):
        x = x if matrix is None else times(x, matrix, mode)
    return x


def leading(x, mode, rank):
    """The projection onto the first left singular vectors of an unfolding, and what the others weigh."""
    u, s, _ = np.linalg.svd(unfolded(x, mode))
    return u[:, :rank] @ u[:, :rank].T, (s[rank:] ** 2).sum()


def orthonormal(shape, ranks, seed=1):
    rng = np.random.default_rng(seed)
    return [np.linalg.qr(rng.normal(size=(n, r)))[0] for n, r in zip(shape, ranks, strict=True)]


def low_rank(shape, ranks):
    return times_all(random_tensor(ranks, seed=2), orthonormal(shape, ranks))


def dropped(x, tucker):
    """The squared error of a decomposition, by building its tensor."""
    return ((x - times_all(tucker.core, tucker.factors)) ** 2).sum()


def assert_sound(tucker, x, ranks, call):
    """Orthonormal factors of the right shapes, and the core that belongs to them."""
    assert isinstance(tucker, Tucker), f"{call} returned a {type(tucker).__name__}, expected a Tucker"
    for mode, (factor, n, r) in enumerate(zip(tucker.factors, x.shape, ranks, strict=True)):
        assert factor.shape == (n, r), f"{call}.factors[{mode}] is of the shape {factor.shape}, expected {(n, r)}"
        assert_close(factor.T @ factor, np.eye(r), f"A'A of {call}.factors[{mode}]", "the identity", **ROUNDING)
    core = times_all(x, [f.T for f in tucker.factors])
    assert_close(tucker.core, core, f"{call}.core", "equation (4) for its factors", rtol=1e-9, atol=1e-10)


# mode_product


def test_mode_product_by_hand():
    expected = [[[1.7 - 2 * 3.1, -0.4 - 2 * 5.2, 2.3 + 3.2, 0.3]], [[-3.4, 7.7, -3.7, 1.8]], [[-2.0, 2.2, -10.9, 9.1]]]
    assert_close(
        mode_product(X, np.array([[1.0, -2.0]]), 1), expected, "mode_product(X, [[1, -2]], 1)", "(1)", **ROUNDING
    )


@pytest.mark.parametrize("shape", [case[0] for case in CASES])
def test_mode_product_follows_equation_1_in_every_mode(shape):
    x, old = random_tensor(shape), SUBSCRIPTS[: len(shape)]
    for mode in range(len(shape)):
        matrix = random_tensor((shape[mode] + 2, shape[mode]), seed=3)
        expected = np.einsum(f"{old},z{old[mode]}->{old.replace(old[mode], 'z')}", x, matrix)
        call = f"mode_product(a tensor of shape {shape}, a matrix of {matrix.shape}, {mode})"
        assert_close(mode_product(x, matrix, mode), expected, call, "equation (1)", **ROUNDING)


def test_mode_product_along_one_mode_twice_is_one_with_the_product():
    u, v = random_tensor((5, 2), seed=4), random_tensor((3, 5), seed=5)
    got = mode_product(mode_product(X, u, 1), v, 1)
    assert_close(got, mode_product(X, v @ u, 1), "mode_product(mode_product(X, U, 1), V, 1)", "that of VU", **ROUNDING)


def test_mode_product_of_square_matrices_does_not_transpose():
    u = random_tensor((3, 3), seed=6)
    assert_close(mode_product(X, u, 0), np.einsum("abc,za->zbc", X, u), "mode_product(X, square, 0)", "(1)", **ROUNDING)
    a = random_tensor((4, 4), seed=7)
    v = random_tensor((4, 4), seed=8)
    assert_close(mode_product(a, v, 1), a @ v.T, "mode_product(a matrix A, V, 1)", "A V'", **ROUNDING)


def test_mode_product_keeps_to_its_arguments():
    x, matrix = X.copy(), np.array([[1.5, -2.0]])
    mode_product(x, matrix, 1)
    assert np.array_equal(x, X) and matrix.tolist() == [[1.5, -2.0]], "mode_product changed its arguments"
    got = mode_product(X.astype(np.float32), matrix, 1).dtype
    assert got == np.float32, f"mode_product of a float32 tensor is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "matrix", "mode", "named"),
    [
        (X, np.ones((2, 3)), 1, "matrix"),
        (X, np.ones(2), 1, "matrix"),
        (X, np.full((1, 2), np.nan), 1, "matrix"),
        (X, np.ones((1, 2)), 3, "mode"),
        (X[0, 0], np.ones((1, 4)), 0, "tensor"),
        (X * np.inf, np.ones((1, 2)), 1, "tensor"),
    ],
)
def test_mode_product_refuses(x, matrix, mode, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        mode_product(x, matrix, mode)


# multi_mode_product


@pytest.mark.parametrize("shape", [case[0] for case in CASES])
def test_multi_mode_product_multiplies_along_every_mode(shape):
    x = random_tensor(shape)
    matrices = [random_tensor((n + 1, n), seed=n) for n in shape]
    call = f"multi_mode_product(a tensor of shape {shape}, a matrix for each mode)"
    assert_close(multi_mode_product(x, matrices), times_all(x, matrices), call, "equation (1)", **ROUNDING)


def test_multi_mode_product_leaves_modes_without_a_matrix():
    u, v = random_tensor((2, 3), seed=1), random_tensor((5, 4), seed=2)
    for matrices in ([u, None, v], [None, None, v], [None, np.array([[2.0, 0.5]]), None], [None] * 3):
        shapes = [None if m is None else m.shape for m in matrices]
        call = f"multi_mode_product(X, matrices of {shapes})"
        assert_close(multi_mode_product(X, matrices), times_all(X, matrices), call, "equation (1)", **ROUNDING)


def test_multi_mode_product_of_a_matrix_is_a_product_of_three():
    a, u, v = random_tensor((3, 4)), random_tensor((3, 3), seed=1), random_tensor((4, 4), seed=2)
    call = "multi_mode_product(a matrix A, [U, V])"
    assert_close(multi_mode_product(a, [u, v]), u @ a @ v.T, call, "U A V'", **ROUNDING)


def test_multi_mode_product_keeps_to_its_arguments():
    x = X.copy()
    multi_mode_product(x, [np.eye(3), None, np.ones((2, 4))])
    assert np.array_equal(x, X), "multi_mode_product changed the tensor"
    got = multi_mode_product(X.astype(np.float32), [np.eye(3), None, np.ones((2, 4))]).dtype
    assert got == np.float32, f"multi_mode_product of a float32 tensor is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize("matrices", [[np.eye(3), np.eye(2)], [None] * 4, []])
def test_multi_mode_product_refuses(matrices):
    with pytest.raises(ValueError, match="matrices must"):
        multi_mode_product(X, matrices)


# relative_error


def test_relative_error_by_hand():
    # 169 = 12^2 + 5^2: with a core of length 12 what is missed has the length 5.
    got = relative_error(np.array([[3.0, 0.0], [4.0, 12.0]]), np.array([[0.0, -7.2], [9.6, 0.0]]))
    assert_close(got, 5 / 13, "relative_error(length 13, core of length 12)", "equation (5)", rtol=1e-12)


@pytest.mark.parametrize(("shape", "ranks"), CASES)
def test_relative_error_is_that_of_the_projection(shape, ranks):
    x, factors = random_tensor(shape), orthonormal(shape, ranks)
    core = times_all(x, [f.T for f in factors])
    expected = np.linalg.norm(x - times_all(core, factors)) / np.linalg.norm(x)
    call = f"relative_error(a tensor of shape {shape}, its core of {ranks})"
    assert_close(relative_error(x, core), expected, call, "the error of the tensor rebuilt", rtol=1e-12)


def test_relative_error_is_zero_where_nothing_is_missed():
    for core in (X, X * (1 + 1e-15)):
        got = relative_error(X, core)
        assert got < 1e-7, f"relative_error(X, a core as long as X) returned {got}, expected 0"
    assert relative_error(X, 0 * X) == 1, "relative_error(X, a core of zeros) must be 1"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_relative_error_does_not_depend_on_the_scale(scale):
    got = relative_error(scale * X, scale * X[:2])
    assert_close(got, relative_error(X, X[:2]), f"relative_error({scale:g} X, {scale:g} core)", "the same", **ROUNDING)


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "core", "named"),
    [(0 * X, X, "tensor"), (X * np.nan, X, "tensor"), (X, X * np.nan, "core"), (X[0, 0], X, "tensor")],
)
def test_relative_error_refuses(x, core, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        relative_error(x, core)


# hosvd


@pytest.mark.parametrize(("shape", "ranks"), CASES)
def test_hosvd_takes_the_leading_directions_of_every_unfolding(shape, ranks):
    x = graded(shape)
    tucker = hosvd(x, ranks)
    call = f"hosvd(a tensor of shape {shape}, {ranks})"
    assert_sound(tucker, x, ranks, call)
    for mode, factor in enumerate(tucker.factors):
        expected = leading(x, mode, ranks[mode])[0]
        assert_close(factor @ factor.T, expected, f"AA' of {call}.factors[{mode}]", "equation (6)", **SPANS)


def test_hosvd_orders_columns_by_their_singular_values():
    x = graded((4, 5, 6))
    tucker = hosvd(x, (3, 4, 2))
    for mode, factor in enumerate(tucker.factors):
        lengths = np.linalg.norm(factor.T @ unfolded(x, mode), axis=1)
        expected = np.linalg.svd(unfolded(x, mode), compute_uv=False)[: len(lengths)]
        call = f"the lengths of A'X of hosvd(...).factors[{mode}]"
        assert_close(lengths, expected, call, "the singular values of the unfolding, from the largest", rtol=1e-9)


@pytest.mark.parametrize(("shape", "ranks"), CASES)
def test_hosvd_keeps_within_its_bounds(shape, ranks):
    x = random_tensor(shape)
    error, tails = dropped(x, hosvd(x, ranks)), [leading(x, mode, r)[1] for mode, r in enumerate(ranks)]
    assert max(tails) * (1 - 1e-10) <= error <= sum(tails) * (1 + 1e-10), (
        f"hosvd({shape}, {ranks}) has the squared error {error:.6g}; by (7) from {max(tails):.6g} to {sum(tails):.6g}"
    )


def test_hosvd_of_full_ranks_loses_nothing_and_has_an_all_orthogonal_core():
    x = random_tensor((4, 3, 5))
    tucker = hosvd(x, (4, 3, 5))
    assert_close(times_all(tucker.core, tucker.factors), x, "the tensor of hosvd(x, full ranks)", "x", **ROUNDING)
    for mode in range(3):
        rows = unfolded(tucker.core, mode)
        expected = np.diag(np.linalg.svd(unfolded(x, mode), compute_uv=False) ** 2)
        call = f"GG' of the core of hosvd(x, full ranks) unfolded along {mode}"
        assert_close(rows @ rows.T, expected, call, "equation (8)", rtol=1e-9, atol=1e-10)


def test_hosvd_of_a_matrix_is_its_truncated_svd():
    a = graded((6, 5))
    tucker = hosvd(a, (2, 2))
    u, s, vt = np.linalg.svd(a)
    call = "hosvd(a matrix, (2, 2))"
    assert_close(times_all(tucker.core, tucker.factors), (u[:, :2] * s[:2]) @ vt[:2], call, "the SVD", **SPANS)
    assert_close(np.abs(tucker.core), np.diag(s[:2]), f"{call}.core but for signs", "the singular values", **SPANS)


def test_hosvd_finds_a_tensor_of_low_ranks():
    x = low_rank((6, 5, 7), (2, 3, 2))
    got = times_all(hosvd(x, (2, 3, 2)).core, hosvd(x, (2, 3, 2)).factors)
    assert_close(got, x, "the tensor of hosvd(ranks 2, 3, 2; its ranks)", "itself", rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_hosvd_does_not_depend_on_the_scale(scale):
    x = graded((4, 5, 3))
    got, expected = hosvd(scale * x, (2, 2, 2)), hosvd(x, (2, 2, 2))
    call = f"hosvd({scale:g} x, (2, 2, 2))"
    assert_close(np.abs(got.core) / scale, np.abs(expected.core), f"{call}.core but for signs", "as of x", **SPANS)


def test_hosvd_takes_ranks_that_the_other_modes_cannot_fill():
    x = random_tensor((5, 2, 1))
    tucker = hosvd(x, (4, 1, 1))
    assert_sound(tucker, x, (4, 1, 1), "hosvd(5 x 2 x 1, (4, 1, 1))")


def test_hosvd_keeps_to_its_argument():
    x = X.copy()
    hosvd(x, (2, 1, 2))
    assert np.array_equal(x, X), "hosvd changed the tensor"
    tucker = hosvd(X.astype(np.float32), (2, 1, 2))
    got = {tucker.core.dtype.name, *(f.dtype.name for f in tucker.factors)}
    assert got == {"float32"}, f"hosvd of float32 returned {got}, expected float32"


BAD_RANKS = [(X, (2, 2), "ranks"), (X, (2, 3, 2), "ranks"), (X, (0, 1, 1), "ranks"), (X, (1.5, 1, 1), "ranks")]
BAD = [*BAD_RANKS, (0 * X, (1, 1, 1), "tensor"), (X[0, 0], (1,), "tensor"), (X * np.nan, (1, 1, 1), "tensor")]


@pytest.mark.given
@pytest.mark.parametrize(("x", "ranks", "named"), BAD)
def test_hosvd_refuses(x, ranks, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        hosvd(x, ranks)


# sequential_hosvd


@pytest.mark.parametrize(("shape", "ranks"), CASES)
def test_sequential_hosvd_goes_on_with_what_is_left(shape, ranks):
    x = graded(shape)
    tucker, left, lost = sequential_hosvd(x, ranks), x, 0.0
    call = f"sequential_hosvd(a tensor of shape {shape}, {ranks})"
    assert_sound(tucker, x, ranks, call)
    for mode, factor in enumerate(tucker.factors):
        expected, tail = leading(left, mode, ranks[mode])
        assert_close(factor @ factor.T, expected, f"AA' of {call}.factors[{mode}]", "equation (9)", **SPANS)
        left, lost = times(left, factor.T, mode), lost + tail
    assert_close(dropped(x, tucker), lost, f"the squared error of {call}", "the sum of all that was dropped", rtol=1e-8)


def test_sequential_hosvd_keeps_within_the_bounds_of_hosvd():
    x = random_tensor((5, 6, 4))
    error, tails = dropped(x, sequential_hosvd(x, (2, 3, 1))), [leading(x, m, r)[1] for m, r in enumerate((2, 3, 1))]
    assert max(tails) * (1 - 1e-10) <= error <= sum(tails) * (1 + 1e-10), (
        f"sequential_hosvd has the squared error {error:.6g}; by (7) from {max(tails):.6g} to {sum(tails):.6g}"
    )


def test_sequential_hosvd_of_a_matrix_is_its_truncated_svd():
    a = graded((6, 5))
    u, s, vt = np.linalg.svd(a)
    tucker = sequential_hosvd(a, (2, 2))
    got, expected = times_all(tucker.core, tucker.factors), (u[:, :2] * s[:2]) @ vt[:2]
    assert_close(got, expected, "the matrix of sequential_hosvd(a matrix, (2, 2))", "the truncated SVD", **SPANS)


def test_sequential_hosvd_finds_a_tensor_of_low_ranks():
    x = low_rank((6, 5, 7), (2, 3, 2))
    tucker = sequential_hosvd(x, (2, 3, 2))
    got = times_all(tucker.core, tucker.factors)
    assert_close(got, x, "the tensor of sequential_hosvd(ranks 2, 3, 2; its ranks)", "itself", rtol=1e-9, atol=1e-10)


def test_sequential_hosvd_takes_ranks_that_the_other_modes_cannot_fill():
    x = random_tensor((3, 2, 5))
    assert_sound(sequential_hosvd(x, (1, 2, 4)), x, (1, 2, 4), "sequential_hosvd(3 x 2 x 5, (1, 2, 4))")


def test_sequential_hosvd_keeps_to_its_argument():
    x = X.copy()
    sequential_hosvd(x, (2, 1, 2))
    assert np.array_equal(x, X), "sequential_hosvd changed the tensor"
    tucker = sequential_hosvd(X.astype(np.float32), (2, 1, 2))
    got = {tucker.core.dtype.name, *(f.dtype.name for f in tucker.factors)}
    assert got == {"float32"}, f"sequential_hosvd of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(("x", "ranks", "named"), BAD)
def test_sequential_hosvd_refuses(x, ranks, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        sequential_hosvd(x, ranks)


# hooi_sweep


@pytest.mark.parametrize(("shape", "ranks"), CASES)
def test_hooi_sweep_takes_each_factor_from_the_projection_by_the_newest_others(shape, ranks):
    x, factors = graded(shape), orthonormal(shape, ranks)
    tucker = hooi_sweep(x, factors)
    call = f"hooi_sweep(a tensor of shape {shape}, factors of ranks {ranks})"
    assert_sound(tucker, x, ranks, call)
    for mode, rank in enumerate(ranks):
        smaller = times_all(x, [None if n == mode else f.T for n, f in enumerate(factors)])
        expected = leading(smaller, mode, rank)[0]
        got = tucker.factors[mode] @ tucker.factors[mode].T
        # Behind the rank that the others can fill, any directions do.
        if rank <= np.prod([r for n, r in enumerate(ranks) if n != mode]):
            assert_close(got, expected, f"AA' of {call}.factors[{mode}]", "equation (10)", **SPANS)
        factors[mode] = tucker.factors[mode]


def test_hooi_sweep_never_raises_the_error():
    x, factors = random_tensor((5, 6, 4)), orthonormal((5, 6, 4), (2, 3, 2))
    errors = []
    for _ in range(6):
        tucker = hooi_sweep(x, factors)
        factors = tucker.factors
        errors.append(dropped(x, tucker))
    assert (np.diff(errors) <= 1e-9).all(), f"the squared errors of sweeps of hooi_sweep went {np.round(errors, 5)}: up"


def test_hooi_sweep_does_not_look_at_the_first_factor():
    x, factors = graded((4, 5, 6)), orthonormal((4, 5, 6), (2, 3, 2))
    got = hooi_sweep(x, [factors[0][::-1] * 3, *factors[1:]])
    expected = hooi_sweep(x, factors)
    for mode in range(3):
        a, b = got.factors[mode], expected.factors[mode]
        call = f"AA' of hooi_sweep(x, with another first factor).factors[{mode}]"
        assert_close(a @ a.T, b @ b.T, call, "the same: (10) makes it anew", **SPANS)


def test_hooi_sweep_stays_where_the_truth_is():
    x = low_rank((6, 5, 7), (2, 3, 2))
    tucker = hooi_sweep(x, orthonormal((6, 5, 7), (2, 3, 2)))
    got = times_all(tucker.core, tucker.factors)
    assert_close(got, x, "the tensor of hooi_sweep from the truth", "itself", rtol=1e-9, atol=1e-10)


def test_hooi_sweep_keeps_to_its_arguments():
    x, factors = X.copy(), orthonormal(X.shape, (2, 1, 2))
    kept = [f.copy() for f in factors]
    tucker = hooi_sweep(x, factors)
    same = len(factors) == 3 and all(np.array_equal(f, k) for f, k in zip(factors, kept, strict=True))
    assert same and np.array_equal(x, X), "hooi_sweep changed its arguments"
    assert isinstance(tucker.factors, tuple), f"Tucker.factors is a {type(tucker.factors).__name__}, expected a tuple"
    tucker = hooi_sweep(X.astype(np.float32), factors)
    got = {tucker.core.dtype.name, *(f.dtype.name for f in tucker.factors)}
    assert got == {"float32"}, f"hooi_sweep of a float32 tensor returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "factors", "named"),
    [
        (X, [np.eye(3), np.eye(2)], "factors"),
        (X, [np.eye(3), np.eye(3), np.eye(4)], "factors"),
        (X, [np.ones((3, 4)), np.eye(2), np.eye(4)], "ranks"),
        (X, [np.eye(3), np.eye(2) * np.nan, np.eye(4)], r"factors\[1\]"),
        (0 * X, [np.eye(3), np.eye(2), np.eye(4)], "tensor"),
    ],
)
def test_hooi_sweep_refuses(x, factors, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        hooi_sweep(x, factors)


# hooi


@pytest.mark.parametrize(("shape", "ranks"), CASES)
def test_hooi_improves_the_hosvd_until_it_stays(shape, ranks):
    x = random_tensor(shape)
    fit = hooi(x, ranks, tol=1e-7)
    call = f"hooi(a tensor of shape {shape}, {ranks})"
    assert_sound(fit.tucker, x, ranks, f"{call}.tucker")
    first, size = dropped(x, hosvd(x, ranks)), (x**2).sum()
    assert_close(fit.errors[0], np.sqrt(first / size), f"{call}.errors[0]", "that of the HOSVD", rtol=1e-8)
    last = dropped(x, fit.tucker)
    assert_close(fit.errors[-1], np.sqrt(last / size), f"{call}.errors[-1]", "that of its .tucker", rtol=1e-8)
    assert (np.diff(fit.errors) <= 1e-9).all(), f"{call}.errors are {fit.errors}: they must not rise"
    tails = [leading(x, mode, r)[1] for mode, r in enumerate(ranks)]
    assert last >= max(tails) * (1 - 1e-10), f"{call} has the squared error {last}, below {max(tails)}, against (7)"
    assert first <= len(shape) * last * (1 + 1e-10), "hosvd must not be worse than sqrt(N) times the best"
    assert fit.converged, f"{call} did not converge in {len(fit.errors) - 1} sweeps"


def test_hooi_stops_when_a_sweep_gains_less_than_tol():
    fit = hooi(random_tensor((6, 7, 5)), (2, 2, 2), tol=1e-3)
    gains = -np.diff(fit.errors)
    assert fit.converged and gains[-1] < 1e-3 and (gains[:-1] >= 1e-3).all() and len(gains) > 1, (
        f"hooi(tol=1e-3) made sweeps that gained {gains.round(5)}; expected to stop at the first below 0.001"
    )


def test_hooi_stops_at_max_sweeps():
    x = random_tensor((6, 7, 5))
    for most in (1, 3):
        fit = hooi(x, (2, 2, 2), tol=0, max_sweeps=most)
        assert len(fit.errors) == most + 1, f"hooi(max_sweeps={most}) has {len(fit.errors)} errors, expected {most + 1}"
        assert not fit.converged, f"hooi(tol=0, max_sweeps={most}) says it converged while still gaining"
    needed = len(hooi(x, (2, 2, 2), tol=1e-3).errors) - 1
    just = hooi(x, (2, 2, 2), tol=1e-3, max_sweeps=needed)
    assert just.converged, f"hooi(max_sweeps={needed}), as many as are needed, says that it has not converged"
    fit = hooi(x, (2, 2, 2), tol=0.9)
    assert len(fit.errors) == 2 and fit.converged, f"hooi(tol=0.9) made {len(fit.errors) - 1} sweeps, expected 1"


def test_hooi_goes_on_from_sweep_to_sweep():
    x = random_tensor((6, 7, 5))
    expected, factors = [], hosvd(x, (2, 2, 2)).factors
    for _ in range(3):
        tucker = hooi_sweep(x, factors)
        factors = tucker.factors
        expected.append(relative_error(x, tucker.core))
    got = hooi(x, (2, 2, 2), tol=0, max_sweeps=3).errors[1:]
    assert_close(got, expected, "hooi(x, max_sweeps=3).errors[1:]", "three sweeps in a row", rtol=1e-9)


def test_hooi_of_the_worked_example_reaches_the_least_error():
    x = np.array([[[3.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]])
    fit = hooi(x, (1, 1, 1))
    expected = [(14 - 9 * (7 + 13**0.5 - 4) ** 2 / ((7 + 13**0.5 - 4) ** 2 + 4)) / 14, 5 / 14]
    assert_close(fit.errors[:2] ** 2, expected, "hooi(worked example).errors[:2] ** 2", "(6), (10)", rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_hooi_does_not_depend_on_the_scale(scale):
    x = graded((4, 5, 3))
    call = f"hooi({scale:g} x, (2, 2, 2), max_sweeps=2).errors"
    got, expected = (hooi(y, (2, 2, 2), tol=0, max_sweeps=2).errors for y in (scale * x, x))
    assert_close(got, expected, call, "as of x", **SPANS)


def test_hooi_keeps_to_its_argument():
    x = X.copy()
    hooi(x, (2, 1, 2))
    assert np.array_equal(x, X), "hooi changed the tensor"
    tucker = hooi(X.astype(np.float32), (2, 1, 2), max_sweeps=5).tucker
    got = {tucker.core.dtype.name, *(f.dtype.name for f in tucker.factors)}
    assert got == {"float32"}, f"hooi of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "ranks", "options", "named"),
    [
        *((x, ranks, {}, named) for x, ranks, named in BAD),
        (X, (1, 1, 1), {"tol": -1.0}, "tol"),
        (X, (1, 1, 1), {"tol": np.nan}, "tol"),
        (X, (1, 1, 1), {"max_sweeps": 0}, "max_sweeps"),
        (X, (1, 1, 1), {"max_sweeps": 1.5}, "max_sweeps"),
    ],
)
def test_hooi_refuses(x, ranks, options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        hooi(x, ranks, **options)


# choose_ranks


def test_choose_ranks_by_hand():
    # Only x_iii = s_i is not 0: each unfolding has the singular values s, and each of three modes may drop e^2 / 3 of the sum of their squares.
    s = np.array([3.1, 3.0, 2.8, 2.5, 2.1, 1.7, 1.2, 0.8, 0.3])
    x = np.zeros((9, 9, 9))
    x[range(9), range(9), range(9)] = s
    shares = [(s[rank:] ** 2).sum() / (s**2).sum() for rank in range(10)]  # of the squares, dropped by each rank
    tolerances = [0.97, 0.85, 0.7, 0.6, 0.5, 0.45, 0.38, 0.3, 0.2, 0.1]
    expected = [next(share for share in shares if share <= t**2 / 3) for t in tolerances]
    got = []
    for t in tolerances:
        ranks = tuple(choose_ranks(x, t))
        assert len(set(ranks)) == 1, f"choose_ranks(x_iii = s_i, {t}) returned {ranks}: no mode differs from another"
        got.append(shares[ranks[0]])
    call = "what choose_ranks(x_iii = s_i) drops of the squares with ten tolerances"
    assert_close(got, expected, call, "the greatest share that (11) allows", rtol=1e-9)


def test_choose_ranks_at_the_edge():
    for values in ([3.1, 1.7, 0.6, 0.2], [2.3, 2.2, 0.9]):
        s = np.array(values)
        for rank in range(1, len(s)):
            edge = np.sqrt(2 * (s[rank:] ** 2).sum() / (s**2).sum())
            for tolerance, expected in ((edge * 1.001, rank), (edge * 0.999, rank + 1)):
                if tolerance < 1:
                    got = tuple(choose_ranks(np.diag(s), tolerance))
                    assert got == (expected, expected), (
                        f"choose_ranks(diag({values}), {tolerance:.4f}) returned {got}, expected {expected} twice by (11)"
                    )


@pytest.mark.parametrize("shape", [(6, 5), (4, 7, 5), (3, 5, 4, 6)])
def test_choose_ranks_takes_the_least_ranks_of_each_mode(shape):
    x = graded(shape)
    for tolerance in (0.5, 0.1, 0.02):
        ranks = tuple(choose_ranks(x, tolerance))
        assert len(ranks) == len(shape), f"choose_ranks({shape}) returned {ranks}, expected one for each mode"
        share = tolerance**2 / len(shape) * (x**2).sum()
        for mode, rank in enumerate(ranks):
            call = f"choose_ranks(a tensor of shape {shape}, {tolerance})[{mode}]"
            assert leading(x, mode, rank)[1] <= share, f"{call} is {rank}: that drops more than (11) allows"
            assert rank == 1 or leading(x, mode, rank - 1)[1] > share, f"{call} is {rank}, but less would do by (11)"


def test_choose_ranks_makes_the_error_that_was_asked_for():
    x = graded((6, 8, 7))
    for tolerance in (0.3, 0.1, 0.01):
        ranks = tuple(choose_ranks(x, tolerance))
        for method in (hosvd, sequential_hosvd):
            error = np.sqrt(dropped(x, method(x, ranks)) / (x**2).sum())
            assert error <= tolerance, f"with choose_ranks(x, {tolerance}) = {ranks} the error is {error:.4f}"


def test_choose_ranks_finds_the_ranks_of_a_tensor_that_has_them():
    x = low_rank((6, 5, 7), (2, 3, 4))
    got = tuple(choose_ranks(x, 1e-10))
    assert got == (2, 3, 4), f"choose_ranks(a tensor of ranks 2, 3, 4; 1e-10) returned {got}"
    got = tuple(choose_ranks(x, 0.999999))
    assert min(got) >= 1, f"choose_ranks(x, 0.999999) returned {got}: each must be at least 1"


def test_choose_ranks_of_an_outer_product_is_1_in_each_mode():
    x = np.multiply.outer(np.outer([2.0, 0.0, -1.5], [0.7, 1.9]), [0.0, 0.4, 0.0, 1.1])
    got = tuple(choose_ranks(x, 0.2))
    assert got == (1, 1, 1), f"choose_ranks(an outer product of three vectors, 0.2) returned {got}, expected (1, 1, 1)"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_choose_ranks_does_not_depend_on_the_scale(scale):
    x = graded((4, 7, 5))
    got, expected = tuple(choose_ranks(scale * x, 0.1)), tuple(choose_ranks(x, 0.1))
    assert got == expected, f"choose_ranks({scale:g} x, 0.1) returned {got}, expected {expected} as for x"


def test_choose_ranks_keeps_to_its_argument():
    x = X.copy()
    ranks = choose_ranks(x, 0.5)
    assert np.array_equal(x, X), "choose_ranks changed the tensor"
    assert isinstance(ranks, tuple), f"choose_ranks returned a {type(ranks).__name__}, expected a tuple"


def test_choose_ranks_saves_what_compression_ratio_says():
    got = compression_ratio((4, 7, 5), choose_ranks(low_rank((4, 7, 5), (2, 3, 2)), 1e-6))
    assert_close(
        got, 140 / (12 + 8 + 21 + 10), "compression_ratio((4, 7, 5), ranks 2, 3, 2)", "equation (12)", rtol=1e-12
    )
    tucker = hosvd(X, (2, 1, 3))
    assert_close(
        reconstruct(tucker), times_all(tucker.core, tucker.factors), "reconstruct(hosvd(X))", "(3)", **ROUNDING
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "tolerance", "named"),
    [
        (X, 0.0, "tolerance"),
        (X, 1.0, "tolerance"),
        (X, np.nan, "tolerance"),
        (0 * X, 0.1, "tensor"),
        (X[0, 0], 0.1, "tensor"),
    ],
)
def test_choose_ranks_refuses(x, tolerance, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        choose_ranks(x, tolerance)


@pytest.mark.given
@pytest.mark.parametrize("ranks", [(2, 2), (4, 1, 1), (0, 1, 1)])
def test_choose_ranks_has_a_compression_ratio_that_refuses(ranks):
    with pytest.raises(ValueError, match="ranks must"):
        compression_ratio((3, 2, 4), ranks)
