"""Shared tests of linalg/cp_decomposition: run on the reference, and on the learner's file.

Sums of products are right to a thousand roundings of their largest terms. Errors by equation (7) are the root of a difference of nearly equal numbers, and so
right to the root of the rounding, 1e-8, times ten. Decompositions are compared by the factor match score, which no order, scale or pair of signs matters to.
"""

import functools
import itertools

import numpy as np
import pytest

from mlpath.linalg.cp_decomposition import (
    CP,
    als_sweep,
    congruence,
    cp_als,
    fold,
    is_unique,
    k_rank,
    khatri_rao,
    match_components,
    mttkrp,
    normalise,
    unfold,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-10, "atol": 1e-12, "tolerance": "nothing but rounding separates them"}
SHAPES = [(4, 3), (2, 3, 4), (3, 5, 4, 2)]
X = np.array([[[1.7, -0.4, 2.3, 0.9], [3.1, 5.2, -1.6, 0.3]], [[-2.2, 0.7, 1.9, 4.4], [0.6, -3.5, 2.8, 1.3]]])
X = np.concatenate([X, [[[0.8, 2.6, -1.1, 3.7], [1.4, 0.2, 4.9, -2.7]]]])  # 3 x 2 x 4
A = np.array([[1.3, -0.7], [2.4, 0.6], [-0.9, 3.1]])
B = np.array([[0.4, 2.2], [-1.6, 1.1]])
C = np.array([[2.7, 0.3], [-0.8, 1.9], [1.2, -2.5], [0.5, 3.6]])


def random_tensor(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def random_factors(shape, rank, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(size, rank)) for size in shape]


def outer_sum(factors):
    """The tensor of equation (1), one outer product after the other."""
    return sum(functools.reduce(np.multiply.outer, columns) for columns in zip(*(f.T for f in factors), strict=True))


def products_by_columns(matrices):
    """Equation (3), one column after the other."""
    return np.array([functools.reduce(np.kron, columns) for columns in zip(*(m.T for m in matrices), strict=True)]).T


def without(items, n):
    return [item for i, item in enumerate(items) if i != n]


def relative_error(x, factors):
    return np.linalg.norm(x - outer_sum(factors)) / np.linalg.norm(x)


# unfold


def test_unfold_by_hand():
    expected = [[1.7, -0.4, 2.3, 0.9, -2.2, 0.7, 1.9, 4.4, 0.8, 2.6, -1.1, 3.7]]
    expected += [[3.1, 5.2, -1.6, 0.3, 0.6, -3.5, 2.8, 1.3, 1.4, 0.2, 4.9, -2.7]]
    assert_close(unfold(X, 1), expected, "unfold(X, 1)", "equation (2)", rtol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_unfold_puts_each_entry_where_equation_2_says(shape):
    x = random_tensor(shape)
    for mode in range(len(shape)):
        expected = np.empty((shape[mode], x.size // shape[mode]))
        for index in np.ndindex(*shape):
            column = 0
            for k in range(len(shape)):
                if k != mode:
                    column = column * shape[k] + index[k]
            expected[index[mode], column] = x[index]
        assert_close(unfold(x, mode), expected, f"unfold(a tensor of shape {shape}, {mode})", "equation (2)", rtol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_unfold_is_undone_by_fold(shape):
    x = random_tensor(shape)
    for mode in range(len(shape)):
        assert_close(fold(unfold(x, mode), mode, shape), x, f"fold(unfold(x, {mode}), {mode}, {shape})", "x", rtol=0)


def test_unfold_keeps_to_its_argument():
    x = X.copy()
    unfold(x, 1)
    assert np.array_equal(x, X), "unfold changed the tensor"
    got = unfold(X.astype(np.float32), 2).dtype
    assert got == np.float32, f"unfold of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "mode", "named"),
    [
        (X, 3, "mode"),
        (X, -1, "mode"),
        (X, 0.5, "mode"),
        (X[0, 0], 0, "tensor"),
        (X * np.nan, 0, "tensor"),
        (X[:0], 0, "tensor"),
        (X * 1j, 0, "tensor"),
    ],
)
def test_unfold_refuses(x, mode, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        unfold(x, mode)


@pytest.mark.given
@pytest.mark.parametrize(("mode", "shape", "named"), [(3, (3, 2, 4), "mode"), (1, (2, 3, 4), "matrix")])
def test_unfold_has_a_fold_that_refuses(mode, shape, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        fold(np.ones((2, 12)), mode, shape)


# khatri_rao


def test_khatri_rao_by_hand():
    expected = [[0.52, -1.54], [-2.08, -0.77], [0.96, 1.32], [-3.84, 0.66], [-0.36, 6.82], [1.44, 3.41]]
    assert_close(khatri_rao([A, B]), expected, "khatri_rao([A, B])", "equation (3)", **ROUNDING)


@pytest.mark.parametrize("shape", [(3, 2), (2, 4, 3), (3, 2, 5, 2)])
def test_khatri_rao_of_several_matrices_lets_the_last_run_fastest(shape):
    matrices = random_factors(shape, 3)
    call = f"khatri_rao(matrices with {shape} rows)"
    assert_close(khatri_rao(matrices), products_by_columns(matrices), call, "equation (3)", **ROUNDING)


def test_khatri_rao_has_the_scalar_products_of_equation_6():
    product = khatri_rao([A, B, C])
    expected = (A.T @ A) * (B.T @ B) * (C.T @ C)
    assert_close(product.T @ product, expected, "K'K of K = khatri_rao([A, B, C])", "equation (6)", **ROUNDING)


def test_khatri_rao_fits_the_unfolding():
    x = outer_sum([A, B, C])
    for mode, matrices in enumerate(([A, B, C], [B, A, C], [C, A, B])):
        got = matrices[0] @ khatri_rao(matrices[1:]).T
        call = f"factor {mode} times khatri_rao(the others) transposed"
        assert_close(got, np.moveaxis(x, mode, 0).reshape(x.shape[mode], -1), call, "equation (4)", **ROUNDING)


def test_khatri_rao_of_one_matrix_is_itself():
    assert_close(khatri_rao([A]), A, "khatri_rao([A])", "A: nothing to multiply by", rtol=0)


def test_khatri_rao_keeps_to_its_arguments():
    matrices = [A.copy(), B.copy()]
    khatri_rao(matrices)
    assert len(matrices) == 2 and np.array_equal(matrices[0], A) and np.array_equal(matrices[1], B), (
        "khatri_rao changed its arguments"
    )
    got = khatri_rao([A.astype(np.float32), B.astype(np.float32)]).dtype
    assert got == np.float32, f"khatri_rao of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize("matrices", [[], [A, np.ones((3, 3))], [A, B[0]], [A, B * np.inf]])
def test_khatri_rao_refuses(matrices):
    with pytest.raises(ValueError, match="matrices"):
        khatri_rao(matrices)


# mttkrp


def test_mttkrp_by_hand():
    x = np.array([[[1.5, -0.7]], [[2.2, 0.4]], [[-1.3, 3.6]]])  # 3 x 1 x 2
    factors = [A, np.array([[2.0, -3.0]]), np.array([[0.6, 1.1], [-1.4, 0.9]])]
    expected = [[2 * (0.9 + 0.98), -3 * (1.65 - 0.63)], [2 * (1.32 - 0.56), -3 * (2.42 + 0.36)]]
    expected += [[2 * (-0.78 - 5.04), -3 * (-1.43 + 3.24)]]
    assert_close(mttkrp(x, factors, 0), expected, "mttkrp(x, factors, 0)", "M in equation (5)", **ROUNDING)


@pytest.mark.parametrize("shape", SHAPES)
def test_mttkrp_follows_equation_5_in_every_mode(shape):
    x, factors = random_tensor(shape), random_factors(shape, 3)
    for mode in range(len(shape)):
        unfolded = np.moveaxis(x, mode, 0).reshape(shape[mode], -1)
        expected = unfolded @ products_by_columns(without(factors, mode))
        call = f"mttkrp(a tensor of shape {shape}, factors, {mode})"
        assert_close(mttkrp(x, factors, mode), expected, call, "M in equation (5)", **ROUNDING)


def test_mttkrp_of_outer_products_has_a_closed_form():
    factors, others = random_factors((5, 3, 4), 2), random_factors((5, 3, 4), 3, seed=2)
    x = outer_sum(others)
    for mode in range(3):
        inner = np.prod([g.T @ f for f, g in without(list(zip(factors, others, strict=True)), mode)], axis=0)
        call = f"mttkrp(sum of outer products, factors, {mode})"
        expected = others[mode] @ inner
        assert_close(mttkrp(x, factors, mode), expected, call, "(5), with (6) for two sets", **ROUNDING)


def test_mttkrp_does_not_look_at_the_mode_itself():
    spoilt = [A, np.full((2, 2), 1e9), C]
    assert_close(mttkrp(X, spoilt, 1), mttkrp(X, [A, B, C], 1), "mttkrp(X, with another B, 1)", "the same", **ROUNDING)


def test_mttkrp_keeps_to_its_arguments():
    x, factors = X.copy(), [A.copy(), B.copy(), C.copy()]
    mttkrp(x, factors, 1)
    kept = np.array_equal(x, X) and all(np.array_equal(f, g) for f, g in zip(factors, (A, B, C), strict=True))
    assert kept and len(factors) == 3, "mttkrp changed its arguments"
    got = mttkrp(X.astype(np.float32), [A, B, C], 1).dtype
    assert got == np.float32, f"mttkrp of a float32 tensor is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "factors", "mode", "named"),
    [
        (X, [A, B], 0, "factors"),
        (X, [A, B, C[:3]], 0, "factors"),
        (X, [A, B, np.ones((4, 3))], 0, "factors"),
        (X, [A, B, C], 3, "mode"),
        (X[0, 0], [C], 0, "tensor"),
        (X, [A, B * np.nan, C], 0, r"factors\[1\]"),
    ],
)
def test_mttkrp_refuses(x, factors, mode, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        mttkrp(x, factors, mode)


# als_sweep


def sweep_by_least_squares(x, factors):
    """A sweep that solves the least-squares problem of each mode without normal equations."""
    factors = list(factors)
    for mode in range(x.ndim):
        k = products_by_columns(without(factors, mode))
        factors[mode] = np.linalg.lstsq(k, np.moveaxis(x, mode, 0).reshape(x.shape[mode], -1).T, rcond=None)[0].T
        if mode < x.ndim - 1:
            factors[mode] = factors[mode] / np.linalg.norm(factors[mode], axis=0)
    return factors


def test_als_sweep_of_one_component_by_hand():
    # 3 x 2 x 2 and rank 1, from b = (1, 0), c = (0, 1).
    x = np.array([[[1.5, -0.7], [0.2, 2.4]], [[2.2, 0.4], [-1.1, 0.8]], [[-1.3, 3.6], [1.9, -0.5]]])
    a = np.array([-0.7, 0.4, 3.6])
    a = a / np.sqrt(0.49 + 0.16 + 12.96)
    b = np.array([a @ x[:, 0, 1], a @ x[:, 1, 1]])
    b = b / np.sqrt(b @ b)
    c = np.array([a @ x[:, :, 0] @ b, a @ x[:, :, 1] @ b])
    factors, _ = als_sweep(x, [np.ones((3, 1)), np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])])
    for name, got, expected in zip(("first", "second", "third"), factors, (a, b, c), strict=True):
        call = f"the {name} factor of als_sweep(x, [ones, (1, 0), (0, 1)])"
        assert_close(got[:, 0], expected, call, "equation (5), then length 1 but for the last", **ROUNDING)


@pytest.mark.parametrize(("shape", "rank"), [((3, 2, 4), 2), ((5, 4, 6), 3), ((3, 5, 4, 2), 2), ((6, 4), 2)])
def test_als_sweep_solves_least_squares_in_each_mode_with_the_newest_factors(shape, rank):
    x, start = random_tensor(shape), random_factors(shape, rank)
    factors, _ = als_sweep(x, start)
    for mode, expected in enumerate(sweep_by_least_squares(x, start)):
        call = f"factor {mode} of als_sweep(a tensor of shape {shape}, {rank} components)"
        # The normal equations square the condition number, below 1e3 here.
        assert_close(factors[mode], expected, call, "(5), (6)", rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("shape", "rank"), [((3, 2, 4), 2), ((3, 5, 4, 2), 3)])
def test_als_sweep_returns_the_error_of_its_factors(shape, rank):
    x = random_tensor(shape)
    factors, error = als_sweep(x, random_factors(shape, rank))
    call = f"the error of als_sweep(a tensor of shape {shape}, {rank} components)"
    assert_close(error, relative_error(x, factors), call, "equation (7), over the norm of the tensor", rtol=1e-9)


def test_als_sweep_leaves_lengths_to_the_last_factor():
    factors, _ = als_sweep(7 * random_tensor((4, 5, 6)), random_factors((4, 5, 6), 3))
    for mode in (0, 1):
        lengths = np.linalg.norm(factors[mode], axis=0)
        assert_close(
            lengths, np.ones(3), f"the lengths of the columns of factor {mode} after als_sweep", "1", rtol=1e-9
        )


def test_als_sweep_never_increases_the_error():
    x, factors = random_tensor((4, 5, 6)), random_factors((4, 5, 6), 4)
    errors = [np.inf]
    for _ in range(15):
        factors, error = als_sweep(x, factors)
        errors.append(error)
        assert error <= errors[-2] + 1e-9, f"the errors of sweeps went {np.round(errors[1:], 6)}: up at the last"


def test_als_sweep_stays_where_the_truth_is():
    truth = random_factors((5, 4, 3), 2, seed=4)
    factors, error = als_sweep(outer_sum(truth), truth)
    assert error < 1e-7, f"als_sweep from the truth returned the error {error:.3g}, expected 0 up to 1e-7"
    assert_close(outer_sum(factors), outer_sum(truth), "the tensor of als_sweep from the truth", "itself", **ROUNDING)


def test_als_sweep_takes_the_shortest_solution_where_components_coincide():
    # Twice the same component: V is a matrix of equal numbers, and each copy gets one half.
    x, one = random_tensor((4, 3, 5)), random_factors((4, 3, 5), 1)
    factors, error = als_sweep(x, [np.hstack([f, f]) for f in one])
    single = sweep_by_least_squares(x, one)
    call = "the last factor of als_sweep(x, two equal components)"
    assert_close(factors[2], np.hstack([single[2], single[2]]) / 2, call, "(5) with the pseudo-inverse", rtol=1e-7)
    assert_close(error, relative_error(x, single), "its error", "that of one component", rtol=1e-7)


def test_als_sweep_does_not_look_at_the_first_factor():
    x, start = random_tensor((4, 3, 5)), random_factors((4, 3, 5), 2)
    got = als_sweep(x, [1e3 * start[0] ** 2, *start[1:]])[0]
    call = "als_sweep(x, with another first factor)"
    for mode, expected in enumerate(als_sweep(x, start)[0]):
        assert_close(got[mode], expected, f"factor {mode} of {call}", "the same: (5) makes it anew", **ROUNDING)


def test_als_sweep_keeps_to_its_arguments():
    x, factors = X.copy(), [A.copy(), B.copy(), C.copy()]
    als_sweep(x, factors)
    kept = np.array_equal(x, X) and all(np.array_equal(f, g) for f, g in zip(factors, (A, B, C), strict=True))
    assert kept, "als_sweep changed its arguments"
    got = {f.dtype.name for f in als_sweep(X.astype(np.float32), [A, B, C])[0]}
    assert got == {"float32"}, f"the factors of als_sweep of a float32 tensor are {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "factors", "named"),
    [
        (0 * X, [A, B, C], "tensor"),
        (X, [A, C, B], "factors"),
        (X[0, 0], [C], "tensor"),
        (X, [A, B, 1 / C.T], "factors"),
    ],
)
def test_als_sweep_refuses(x, factors, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        als_sweep(x, factors)


# normalise


def test_normalise_by_hand():
    factors = [np.array([[0.3, 2.0], [0.4, 1.5]]), np.array([[1.2, -0.6], [-0.5, 0.8]]), np.array([[0.7, -1.1]])]
    cp = normalise(factors)
    assert_close(
        cp.weights, [2.5 * 1.0 * 1.1, 0.5 * 1.3 * 0.7], "normalise(factors).weights", "equation (8)", **ROUNDING
    )
    for mode, expected in enumerate(([[0.8, 0.6], [0.6, 0.8]], [[-0.6, 12 / 13], [0.8, -5 / 13]], [[-1.0, 1.0]])):
        call = f"normalise(factors).factors[{mode}]"
        assert_close(cp.factors[mode], expected, call, "columns over their lengths, largest weight first", **ROUNDING)


@pytest.mark.parametrize("shape", SHAPES)
def test_normalise_keeps_the_tensor(shape):
    factors = random_factors(shape, 4)
    cp = normalise(factors)
    got = outer_sum([cp.factors[0] * cp.weights, *cp.factors[1:]])
    assert_close(
        got, outer_sum(factors), f"the tensor of normalise(factors of {shape})", "the tensor before", **ROUNDING
    )
    assert (np.diff(cp.weights) <= 0).all(), f"normalise returned the weights {cp.weights}, expected the largest first"
    for mode, factor in enumerate(cp.factors):
        call = f"the lengths of the columns of normalise(...).factors[{mode}]"
        assert_close(np.linalg.norm(factor, axis=0), np.ones(4), call, "1", rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-200, 1e-160, 1e160, 1e200])
def test_normalise_of_very_long_and_short_columns(scale):
    expected, cp = normalise([A, B, C]), normalise([scale * A, B, C / scale])
    call = f"normalise([{scale:g} A, B, C / {scale:g}])"
    assert_close(cp.weights, expected.weights, f"{call}.weights", "as of [A, B, C]", **ROUNDING)
    assert_close(cp.factors, expected.factors, f"{call}.factors", "as of [A, B, C]", **ROUNDING)


def test_normalise_gives_a_component_with_zeros_no_weight():
    factors = [A.copy(), B.copy(), C.copy()]
    factors[1][:, 0] = 0
    cp = normalise(factors)
    lengths = np.linalg.norm(A[:, 1]) * np.linalg.norm(B[:, 1]) * np.linalg.norm(C[:, 1])
    assert_close(cp.weights, [lengths, 0], "normalise(a column of zeros in B).weights", "equation (8)", **ROUNDING)
    assert_close(cp.factors[1][:, 1], np.zeros(2), "the column of zeros after normalise", "zeros", rtol=0)
    expected = C[:, 0] / np.linalg.norm(C[:, 0])
    assert_close(cp.factors[2][:, 1], expected, "the column of C of the same component", "length 1", **ROUNDING)


def test_normalise_keeps_to_its_arguments():
    factors = [A.copy(), B.copy()]
    normalise(factors)
    assert np.array_equal(factors[0], A) and np.array_equal(factors[1], B), "normalise changed the factors"
    cp = normalise([A.astype(np.float32), B.astype(np.float32)])
    got = {cp.weights.dtype.name, *(f.dtype.name for f in cp.factors)}
    assert got == {"float32"}, f"normalise of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize("factors", [[], [A, np.ones((3, 3))], [A[0]], [A * np.nan]])
def test_normalise_refuses(factors):
    with pytest.raises(ValueError, match="factors"):
        normalise(factors)


# cp_als


def planted(shape, weights, seed=0):
    """Factors with orthonormal columns, for which ALS needs few sweeps; the first carries the weights."""
    rng = np.random.default_rng(seed)
    factors = [np.linalg.qr(rng.normal(size=(size, len(weights))))[0] for size in shape]
    return [factors[0] * weights, *factors[1:]]


def fit_planted(shape, weights, **options):
    truth = planted(shape, weights)
    return truth, cp_als(outer_sum(truth), len(weights), rng=np.random.default_rng(1), **options)


@pytest.mark.parametrize(("shape", "weights"), [((5, 3, 4), [3.7, 1.6]), ((3, 4, 3, 5), [2.9, 1.3])])
def test_cp_als_finds_what_was_planted(shape, weights):
    truth, fit = fit_planted(shape, weights)
    score = match_components(fit.cp.factors, truth)[0]
    call = f"cp_als({len(weights)} components in a tensor of shape {shape})"
    assert score > 1 - 1e-6, f"{call} has the factor match score {score:.6f} with the truth, expected 1"
    assert_close(fit.cp.weights, weights, f"{call}.cp.weights", "the planted ones, the largest first", rtol=1e-5)
    assert fit.converged and fit.errors[-1] < 1e-6, f"{call} ended with {fit.errors[-1]:.3g}, {fit.converged=}"


def test_cp_als_finds_columns_that_are_not_orthogonal():
    cosines = np.array([[1.0, 0.5], [0.5, 1.0]])
    truth = [f @ np.linalg.cholesky(cosines).T for f in planted((4, 3, 5), [1.0, 1.0])]
    fit = cp_als(outer_sum(truth), 2, rng=np.random.default_rng(2), n_starts=2, tol=1e-7)
    score = match_components(fit.cp.factors, truth)[0]
    assert score > 0.999, (
        f"cp_als of two components with cosines 0.5 has the factor match score {score:.5f}, expected 1"
    )


def test_cp_als_reports_on_the_decomposition_that_it_returns():
    x = random_tensor((4, 3, 5), seed=5)
    fit = cp_als(x, 2, rng=np.random.default_rng(0), n_starts=3, max_sweeps=4)
    assert type(fit.cp) is CP, f"cp_als(...).cp is a {type(fit.cp).__name__}, expected a CP"
    factors = [fit.cp.factors[0] * fit.cp.weights, *fit.cp.factors[1:]]
    call = "cp_als(x, 2, max_sweeps=4).errors[-1]"
    assert_close(fit.errors[-1], relative_error(x, factors), call, "the relative error of its .cp", rtol=1e-8)
    for mode, f in enumerate(fit.cp.factors):
        lengths = np.linalg.norm(f, axis=0)
        assert_close(
            lengths, np.ones(2), f"the lengths of the columns of cp_als(...).cp.factors[{mode}]", "1", rtol=1e-9
        )
    assert (np.diff(fit.cp.weights) <= 0).all(), f"cp_als returned the weights {fit.cp.weights}, not from the largest"


def test_cp_als_stops_when_a_sweep_gains_less_than_tol():
    x = random_tensor((4, 3, 5), seed=5)
    fit = cp_als(x, 2, rng=np.random.default_rng(0), n_starts=1, tol=1e-3)
    gains = -np.diff(fit.errors)
    assert fit.converged, f"cp_als(tol=1e-3) says not converged after {len(fit.errors)} sweeps"
    assert gains[-1] < 1e-3 and (gains[:-1] >= 1e-3).all(), (
        f"cp_als(tol=1e-3) made sweeps that gained {gains.round(5)}; expected to stop at the first below 0.001"
    )


def test_cp_als_stops_at_max_sweeps():
    x = random_tensor((4, 3, 5), seed=5)
    for most in (1, 3):
        fit = cp_als(x, 2, rng=np.random.default_rng(0), n_starts=2, tol=0, max_sweeps=most)
        assert len(fit.errors) == most, f"cp_als(max_sweeps={most}) recorded {len(fit.errors)} errors, expected {most}"
        assert not fit.converged, f"cp_als(tol=0, max_sweeps={most}) says it converged while still gaining"
    fit = cp_als(x, 2, rng=np.random.default_rng(0), n_starts=1, tol=0.9, max_sweeps=2)
    assert len(fit.errors) == 2 and fit.converged, (
        f"cp_als(tol=0.9, max_sweeps=2) made {len(fit.errors)} sweeps, {fit.converged=}: the second gained less than tol"
    )


def test_cp_als_returns_the_best_of_its_starts():
    # After one sweep starts differ much. The best of 22 is above their median once in 4 million times.
    x, rng = random_tensor((3, 2, 4), seed=6), np.random.default_rng(5)
    singles = np.median([cp_als(x, 2, rng=rng, n_starts=1, max_sweeps=1).errors[-1] for _ in range(21)])
    best = [cp_als(x, 2, rng=rng, n_starts=22, max_sweeps=1).errors[-1] for _ in range(3)]
    assert max(best) < singles, (
        f"cp_als(n_starts=22) ended with the errors {np.round(best, 4)} where half of single starts are below {singles:.4f}"
    )


def test_cp_als_starts_afresh_each_time():
    # Of 3,000 single sweeps from a random start none left an error below 0.007; twelve in a row leave 1e-7.
    truth = planted((4, 3, 5), [3.7, 1.6])
    fit = cp_als(outer_sum(truth), 2, rng=np.random.default_rng(4), n_starts=12, max_sweeps=1)
    assert fit.errors[-1] > 1e-5, (
        f"cp_als(n_starts=12, max_sweeps=1) ended with the error {fit.errors[-1]:.2g}: more than a single sweep can do"
    )


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_cp_als_does_not_depend_on_the_scale(scale):
    truth = planted((4, 3, 5), [3.7, 1.6])
    fit = cp_als(scale * outer_sum(truth), 2, rng=np.random.default_rng(1), n_starts=1)
    call = f"cp_als({scale:g} times a tensor).cp.weights"
    assert_close(fit.cp.weights / scale, [3.7, 1.6], call, "as many times the weights", rtol=1e-5)


def test_cp_als_of_negative_numbers_has_positive_weights():
    x = -outer_sum([A[:, :1] ** 2, B[:, :1] ** 2, C[:, :1] ** 2])
    fit = cp_als(x, 1, rng=np.random.default_rng(1), n_starts=1)
    call = "cp_als(a negative outer product, 1).cp.weights"
    assert_close(fit.cp.weights, [np.linalg.norm(x)], call, "its norm, and never negative", rtol=1e-7)


def test_cp_als_of_a_matrix_is_as_good_as_its_svd():
    x = random_tensor((5, 4), seed=7)
    s = np.linalg.svd(x, compute_uv=False)
    fit = cp_als(x, 2, rng=np.random.default_rng(0), n_starts=1, tol=1e-9)
    call = "the error of cp_als(a matrix, 2)"
    assert_close(fit.errors[-1], np.sqrt((s[2:] ** 2).sum() / (s**2).sum()), call, "what the SVD leaves", rtol=1e-5)


def test_cp_als_of_a_tensor_without_a_best_approximation_diverges():
    a, b = np.eye(2)
    x = outer_sum([np.array(f).T for f in ((a, a, b), (a, b, a), (b, a, a))])
    early, late = (cp_als(x, 2, rng=np.random.default_rng(0), n_starts=1, tol=1e-12, max_sweeps=m) for m in (15, 100))
    assert not late.converged, "cp_als of a tensor of rank 3 and border rank 2 says that it converged with 2 components"
    assert 0 < late.errors[-1] < early.errors[-1] < 0.5, "the error should go on falling, see (11)"
    assert late.cp.weights.min() > early.cp.weights.min() * 1.1, (
        f"weights after 15 and 100 sweeps are {early.cp.weights} and {late.cp.weights}: they should grow, see (11)"
    )


def test_cp_als_keeps_single_precision():
    truth = [f.astype(np.float32) for f in planted((4, 3, 5), [3.7, 1.6])]
    x = outer_sum(truth)
    kept = x.copy()
    fit = cp_als(x, 2, rng=np.random.default_rng(1), n_starts=2)
    got = {fit.cp.weights.dtype.name, *(f.dtype.name for f in fit.cp.factors)}
    assert got == {"float32"}, f"cp_als of float32 returned {got}, expected float32"
    assert_close(fit.cp.weights, [3.7, 1.6], "cp_als(float32).cp.weights", "the planted ones", rtol=1e-2)
    assert np.array_equal(x, kept), "cp_als changed the tensor"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "rank", "options", "named"),
    [
        (X, 0, {}, "rank"),
        (X, 1.5, {}, "rank"),
        (X, 1, {"n_starts": 0}, "n_starts"),
        (X, 1, {"max_sweeps": 0}, "max_sweeps"),
        (X, 1, {"tol": -1e-3}, "tol"),
        (X, 1, {"tol": np.nan}, "tol"),
        (0 * X, 1, {}, "tensor"),
        (X[0, 0], 1, {}, "tensor"),
        (X * np.nan, 1, {}, "tensor"),
    ],
)
def test_cp_als_refuses(x, rank, options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        cp_als(x, rank, rng=np.random.default_rng(0), **options)


# congruence


def test_congruence_by_hand():
    a, b = np.array([[0.6, 3.0], [0.8, -4.0]]), np.array([[5.0, 1.0], [12.0, 0.0]])
    c, d = np.array([[2.0], [0.0]]), np.array([[0.28], [0.96]])
    expected = [[0.6 * (5 / 13 * 0.28 + 12 / 13 * 0.96)], [0.6 * 0.28]]
    assert_close(congruence([a, b], [c, d]), expected, "congruence([a, b], [c, d])", "equation (9)", **ROUNDING)


def test_congruence_takes_all_pairs_over_all_modes():
    factors, others = random_factors((4, 3, 5, 2), 3), random_factors((4, 3, 5, 2), 2, seed=2)
    expected = np.ones((3, 2))
    for r, s in np.ndindex(3, 2):
        for f, g in zip(factors, others, strict=True):
            expected[r, s] *= f[:, r] @ g[:, s] / np.sqrt(f[:, r] @ f[:, r] * (g[:, s] @ g[:, s]))
    assert_close(congruence(factors, others), expected, "congruence(3 components, 2)", "equation (9)", **ROUNDING)


@pytest.mark.parametrize("scale", [1e-200, -1e200])
def test_congruence_does_not_depend_on_lengths(scale):
    got = congruence([scale * A, -B, C], [A, B, C / scale])
    expected = congruence([A, B, C], [A, B, C]) * (-1)
    assert_close(
        got, expected, f"congruence([{scale:g} A, -B, C], [A, B, C / {scale:g}])", "(9): three signs", **ROUNDING
    )


def test_congruence_of_components_that_cancel_nears_minus_one():
    a, b = np.eye(2)
    for m in (3.0, 30.0):
        pair = np.array([a + b / m, a]).T
        factors = [pair, pair, pair * [m, -m]]
        expected = -((1 + m**-2) ** -1.5)
        got = congruence(factors, factors)
        assert_close(got, [[1, expected], [expected, 1]], f"congruence of (11) with m = {m:g}", "(9)", **ROUNDING)


def test_congruence_of_a_column_of_zeros_is_zero():
    zero = A.copy()
    zero[:, 1] = 0
    expected = congruence([A, B], [A, B])
    expected[1] = 0
    assert_close(congruence([zero, B], [A, B]), expected, "congruence(a column of zeros)", "0 with all", **ROUNDING)


def test_congruence_lets_components_be_matched():
    factors = random_factors((4, 3, 5), 4)
    order = [2, 0, 3, 1]
    others = [-2 * factors[0][:, order], factors[1][:, order], -0.1 * factors[2][:, order]]
    score, found = match_components(factors, others)
    assert found.tolist() == [1, 3, 0, 2], f"match_components found the order {found.tolist()}, expected [1, 3, 0, 2]"
    assert_close(score, 1.0, "match_components(factors, the same in another order)", "1", rtol=1e-10)


def test_congruence_keeps_to_its_arguments():
    factors = [A.copy(), B.copy()]
    congruence(factors, factors)
    assert np.array_equal(factors[0], A) and np.array_equal(factors[1], B), "congruence changed the factors"
    single = [A.astype(np.float32), B.astype(np.float32)]
    got = congruence(single, single).dtype
    assert got == np.float32, f"congruence of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("factors", "others", "named"),
    [([A, B], [A], "others"), ([A, B], [B, A], "others"), ([A], [A[0]], "others"), ([A * np.nan], [A], "factors")],
)
def test_congruence_refuses(factors, others, named):
    with pytest.raises(ValueError, match=f"{named}.* must"):
        congruence(factors, others)


def test_congruence_lets_match_components_refuse_different_numbers():
    with pytest.raises(ValueError, match="others must"):
        match_components([A], [A[:, :1]])


# k_rank


def test_k_rank_by_hand():
    e = np.eye(4)
    for matrix, expected, why in [
        (np.array([e[0], e[1], e[2], e[0] + e[1]]).T, 2, "three of four columns are dependent"),
        (np.array([e[0], e[1], e[2], e[0] + 2 * e[1] - e[2]]).T, 3, "any three are independent, the four are not"),
        (np.array([e[0], e[1], -3 * e[0]]).T, 1, "two are parallel"),
        (np.array([e[0], 0 * e[1], e[2]]).T, 0, "one is zero"),
        (e[:, :3], 3, "all are independent"),
    ]:
        got = k_rank(matrix)
        assert got == expected, f"k_rank of the columns {matrix.T.tolist()} returned {got}, expected {expected}: {why}"


def test_k_rank_of_random_matrices_is_their_rank():
    for shape, expected in (((3, 5), 3), ((6, 4), 4), ((1, 3), 1), ((4, 1), 1)):
        got = k_rank(random_tensor(shape))
        assert got == expected, f"k_rank(a random matrix of shape {shape}) returned {got}, expected {expected}"


def test_k_rank_may_be_below_the_rank():
    matrix = random_tensor((5, 4))
    matrix[:, 3] = matrix[:, 1] - 0.5 * matrix[:, 2]
    got = k_rank(matrix)
    assert got == 2, f"k_rank of a matrix of rank 3, three of whose columns are dependent, returned {got}, expected 2"


@pytest.mark.parametrize("scales", [[1.0, 1e-20, 1e20], [1e-200, 1.0, 1e200]])
def test_k_rank_does_not_depend_on_the_lengths_of_columns(scales):
    got = k_rank(random_tensor((4, 3)) * scales)
    assert got == 3, f"k_rank(independent columns, of the lengths {scales}) returned {got}, expected 3"


def test_k_rank_decides_kruskals_condition():
    factors = random_factors((2, 3, 3), 3)
    for change, expected in ((factors, True), ([factors[0], factors[1], factors[2][:, [0, 1, 1]]], False)):
        got = is_unique(change)
        ranks = [k_rank(f) for f in change]
        assert got == expected, f"is_unique of k-ranks {ranks} and 3 components returned {got}: (10) asks for 8"
    got = is_unique([random_tensor((4, 3)), random_tensor((5, 3))])
    assert not got, "is_unique of a matrix, two modes, returned True: (10) never holds for more than one component"


def test_k_rank_leaves_the_matrix_alone():
    matrix = A.copy()
    got = k_rank(matrix)
    assert got == 2 and np.array_equal(matrix, A), "k_rank changed the matrix"
    assert k_rank(np.float32([[1.0, 1.0], [1.0, 1.0 + 1e-7]])) == 1, "columns that are equal up to float32's rounding"


@pytest.mark.given
@pytest.mark.parametrize("matrix", [A[0], A * np.nan, A[:0]])
def test_k_rank_refuses(matrix):
    with pytest.raises(ValueError, match="matrix must"):
        k_rank(matrix)


def test_k_rank_of_many_columns_in_every_order():
    e = np.eye(3)
    columns = [e[0], e[1], e[2], e[1] + e[2]]
    for order in itertools.permutations(columns):
        got = k_rank(np.array(order).T)
        assert got == 2, f"k_rank of the columns {np.array(order).tolist()} returned {got}, expected 2 in any order"
