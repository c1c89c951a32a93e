"""Shared tests of linalg/nmf: run on the reference, and on the learner's file.

Nothing here is random but seeded data. One update has a rounding error of some 1e-15, which grows little over the few updates
that are compared: RTOL leaves a factor of a thousand or more for another BLAS or another order of operations.
"""

import tracemalloc
import warnings
from functools import cache

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.signal
from scipy.optimize import nnls
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix, issparse, random_array
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer

from mlpath.linalg.nmf import (
    Factorization,
    divergence,
    factorize,
    frobenius_update,
    gradient,
    kl_update,
    nndsvd,
    quotients,
    transform,
)
from mlpath.testing import assert_close

RTOL = 1e-10
LOSSES = ["frobenius", "kl"]
UPDATES = [(frobenius_update, "frobenius", "equation (6)"), (kl_update, "kl", "equation (7)")]
SPARSE = [csr_array, csc_array, coo_array, csr_matrix]

A = np.array([[3.7, 0.0, 1.3, 2.2], [0.0, 4.1, 2.6, 0.9], [5.3, 1.7, 0.0, 3.1]])
W = np.array([[1.3, 0.4], [0.7, 2.1], [1.9, 0.6]])
H = np.array([[1.7, 0.3, 0.8, 1.1], [0.2, 1.6, 0.9, 0.5]])
P = W @ H


@cache
def data():
    """Positive numbers near a matrix of rank 4, a third of them set to 0; one row and one column have nothing else."""
    rng = np.random.default_rng(3)
    a = rng.gamma(1.0, size=(17, 4)) @ rng.gamma(1.0, size=(4, 11)) + 0.3 * rng.random((17, 11))
    a[rng.random(a.shape) < 0.33] = 0
    a[5], a[:, 7] = 0, 0
    a.setflags(write=False)
    return a


@cache
def start(n_parts=3):
    rng = np.random.default_rng(4)
    return rng.uniform(0.3, 1.7, size=(17, n_parts)), rng.uniform(0.3, 1.7, size=(n_parts, 11))


def distance(a, w, h, loss):
    """The divergence, from its definition."""
    p = w @ h
    if loss == "frobenius":
        return np.sum((a - p) ** 2) / 2
    logs = np.log(np.where(a > 0, a, 1.0) / np.where(a > 0, p, 1.0))
    return np.sum(a * logs - a + p)


def slope(a, w, h, loss):
    """Equation (3), where W H is positive."""
    p = w @ h
    return (p - a) @ h.T if loss == "frobenius" else (1 - a / p) @ h.T


def sklearn_factors(a, w, h, loss, n_iter):
    name = {"frobenius": "frobenius", "kl": "kullback-leibler"}[loss]
    model = NMF(w.shape[1], init="custom", solver="mu", beta_loss=name, tol=0, max_iter=n_iter)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w = model.fit_transform(a, W=w.copy(), H=h.copy())
    return w, model.components_


def unchanged(function, *arrays, **options):
    before = [x.copy() for x in arrays]
    function(*arrays, **options)
    for x, copy in zip(arrays, before):
        assert np.array_equal(x, copy), f"{function.__name__} changed an array that it was given"


def heap(function, *arguments):
    """The most bytes that a call has taken at a time."""
    tracemalloc.start()
    function(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@cache
def wide():
    """A sparse matrix that would take 48 MB if it were full, and factors."""
    rng = np.random.default_rng(6)
    a = random_array((2000, 3000), density=1e-3, rng=rng, format="csr")
    return a, rng.random((2000, 2)), rng.random((2, 3000))


# divergence


def test_divergence_frobenius_by_hand():
    # W H is [[2.29 1.03 1.4 1.63], [1.61 3.57 2.45 1.82], [3.35 1.53 2.06 2.39]]
    found = divergence(A, W, H)
    assert_close(found, 7.85245, "divergence(a, w, h)", "equation (1)", rtol=RTOL)


def test_divergence_kl_by_hand():
    # 3.7 log(3.7 / 2.29) + 1.3 log(1.3 / 1.4) + ... - the sum of a, 24.9, + the sum of W H, 25.13
    found = divergence(A, W, H, loss="kl")
    assert_close(found, distance(A, W, H, "kl"), "divergence(a, w, h, loss='kl')", "equation (2)", rtol=RTOL)


@pytest.mark.parametrize("loss", LOSSES)
def test_divergence_of_data_with_empty_rows_and_columns(loss):
    w, h = start()
    found = divergence(data(), w, h, loss)
    assert_close(found, distance(data(), w, h, loss), f"divergence(a, w, h, {loss!r})", "(1) or (2)", rtol=RTOL)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", SPARSE)
def test_divergence_counts_entries_that_are_not_stored(kind, loss):
    w, h = start()
    call = f"divergence({kind.__name__}, w, h, {loss!r})"
    assert_close(divergence(kind(data()), w, h, loss), distance(data(), w, h, loss), call, "(1) or (2)", rtol=RTOL)


@pytest.mark.parametrize("loss", LOSSES)
def test_divergence_of_a_perfect_fit_is_0(loss):
    w, h = np.array([[1.3, 0.0], [0.0, 2.7], [0.0, 0.0]]), np.array([[1.1, 0.0, 2.3, 0.0], [0.0, 3.1, 0.0, 0.0]])
    for a in (w @ h, csr_array(w @ h)):
        found = divergence(a, w, h, loss)
        assert abs(found) <= 1e-12, f"divergence(w @ h, w, h, {loss!r}) is {found:.3g} for a {type(a).__name__}, not 0"


def test_divergence_kl_is_infinite_where_only_the_product_is_0():
    w = W.copy()
    w[1] = 0
    for a in (A, csr_array(A)):
        found = divergence(a, w, H, "kl")
        assert found == np.inf, f"divergence(a, w, h, 'kl') is {found} where a row of W H is 0 and that of a is not"
    a = A.copy()
    a[1] = 0
    found = divergence(a, w, H, "kl")
    assert_close(
        found, divergence(a[[0, 2]], w[[0, 2]], H, "kl"), "divergence(a, w, h, 'kl') with a row of 0 on both sides"
    )


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_divergence_at_extreme_scales(scale):
    found = divergence(scale * A, W, scale * H) / scale / scale
    assert_close(found, distance(A, W, H, "frobenius"), f"divergence of data times {scale:g}", "(1)", rtol=RTOL)
    found = divergence(scale * A, W, scale * H, "kl") / scale
    assert_close(found, distance(A, W, H, "kl"), f"divergence of data times {scale:g}, by kl", "(2)", rtol=RTOL)


@pytest.mark.parametrize("loss", LOSSES)
def test_divergence_does_not_form_the_product_of_sparse_data(loss):
    peak = heap(divergence, *wide(), loss)
    assert peak < 20e6, f"divergence of sparse data took {peak / 1e6:.0f} MB; W H as a whole has 48 MB"


def test_divergence_leaves_its_arguments_alone():
    unchanged(divergence, A, W, H, loss="kl")


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "w", "h", "loss", "named"),
    [
        (-A, W, H, "kl", "a"),
        (csr_array(-A), W, H, "kl", "a"),
        (csr_array([[np.nan, 1.0]]), W[:1], H[:, :2], "kl", "a"),
        (csr_array((0, 4)), W[:0], H, "kl", "a"),
        (np.full_like(A, np.nan), W, H, "kl", "a"),
        (A[0], W, H, "kl", "a"),
        (A, W[:2], H, "kl", "w"),
        (A, -W, H, "kl", "w"),
        (A, W, H[:, :3], "kl", "h"),
        (A, W, H[:1], "kl", "h"),
        (A, W, -H, "kl", "h"),
        (A, W, H, "itakura-saito", "loss"),
    ],
)
def test_divergence_refuses(a, w, h, loss, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        divergence(a, w, h, loss)


# quotients


def test_quotients_by_hand():
    expected = [
        [1.6157205, 0.0, 0.9285714, 1.3496933],
        [0.0, 1.1484594, 1.0612245, 0.4945055],
        [1.5820896, 1.1111111, 0.0, 1.2970711],
    ]
    assert_close(quotients(A, W, H), np.array(expected), "quotients(a, w, h)", "a over W H", rtol=1e-6)


def test_quotients_are_0_where_the_product_is_0():
    w, h = np.array([[1.3, 0.0], [0.0, 0.0]]), np.array([[0.4, 0.0, 1.7], [2.0, 0.9, 0.6]])
    a = np.array([[1.3, 2.6, 0.0], [0.0, 7.0, 3.0]])
    for given in (a, csr_array(a)):
        found = quotients(given, w, h)
        found = found.toarray() if issparse(found) else found
        assert_close(found, np.array([[2.5, 0, 0], [0, 0, 0]]), "quotients(a, w, h)", "0 where W H is 0", rtol=RTOL)


@pytest.mark.parametrize("kind", [csr_array, csc_array])
def test_quotients_of_sparse_data_are_sparse(kind):
    w, h = start()
    found = quotients(kind(data()), w, h)
    assert issparse(found), f"quotients({kind.__name__}, w, h) is a {type(found).__name__}, not sparse"
    assert_close(found.toarray(), data() / (w @ h), f"quotients({kind.__name__}, w, h)", "a over W H", rtol=RTOL)


def test_quotients_leave_their_arguments_alone():
    unchanged(quotients, A, W, H)
    sparse = csr_array(A)
    quotients(sparse, W, H)
    assert np.array_equal(sparse.toarray(), A), "quotients changed the sparse array that it was given"


# gradient


def test_gradient_frobenius_by_hand():
    # W H - a is [[-1.41 1.03 0.1 -0.57], [1.61 -0.53 -0.15 0.92], [-1.95 -0.17 2.06 -0.71]]
    expected = np.array([[-2.635, 1.171], [3.47, -0.201], [-2.499, 0.837]])
    assert_close(gradient(A, W, H), expected, "gradient(a, w, h)", "equation (3)", rtol=RTOL)


def test_gradient_kl_by_hand():
    expected = slope(A, W, H, "kl")
    assert_close(gradient(A, W, H, loss="kl"), expected, "gradient(a, w, h, loss='kl')", "equation (3)", rtol=RTOL)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_the_slope_of_the_divergence(loss):
    w, h = start()
    found, step = gradient(data(), w, h, loss), 1e-5
    for i, k in [(0, 0), (3, 2), (16, 1)]:
        nudge = np.zeros_like(w)
        nudge[i, k] = step
        expected = (distance(data(), w + nudge, h, loss) - distance(data(), w - nudge, h, loss)) / (2 * step)
        # a central difference is off by step squared, 1e-10, and rounding of a distance near 100, 1e-14, over the step
        assert_close(
            found[i, k], expected, f"gradient(a, w, h, {loss!r})[{i}, {k}]", "a difference quotient", atol=1e-7
        )


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_of_the_transposed_problem_is_that_of_h(loss):
    w, h = start()
    found, p = gradient(data().T, h.T, w.T, loss).T, w @ h
    expected = w.T @ (p - data()) if loss == "frobenius" else w.T @ (1 - data() / p)
    assert_close(found, expected, f"gradient(a', h', w', {loss!r})'", "(3), transposed", rtol=RTOL, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", [csr_array, csc_array])
def test_gradient_of_sparse_data(kind, loss):
    w, h = start()
    found, expected = gradient(kind(data()), w, h, loss), slope(data(), w, h, loss)
    assert_close(found, expected, f"gradient({kind.__name__}, w, h, {loss!r})", "equation (3)", rtol=RTOL, atol=1e-12)


# frobenius_update, kl_update


def test_frobenius_update_by_hand():
    expected = W * (A @ H.T) / (P @ H.T)
    assert_close(frobenius_update(A, W, H), expected, "frobenius_update(a, w, h)", "equation (6)", rtol=RTOL)


def test_kl_update_by_hand():
    expected = W * (A / P @ H.T) / np.array([3.9, 3.2])
    assert_close(kl_update(A, W, H), expected, "kl_update(a, w, h)", "equation (7)", rtol=RTOL)


def agrees_with_scikit_learn(update, loss, equation):
    w, h = start()
    # scikit-learn replaces what is below 1e-7 by that: the row of zeros is the only place, and comes out as zeros
    expected = sklearn_factors(data(), w, h, loss, 1)[0]
    assert_close(
        update(data(), w, h), expected, f"{update.__name__}(a, w, h)", f"{equation}, by scikit-learn", rtol=RTOL
    )


def updates_h_if_all_is_transposed(update, loss, equation):
    w, h = start()
    p = w @ h
    top, bottom = (w.T @ data(), w.T @ p) if loss == "frobenius" else (w.T @ (data() / p), w.sum(axis=0)[:, None])
    found = update(data().T, h.T, w.T).T
    assert_close(found, h * top / bottom, f"{update.__name__}(a', h', w')'", f"{equation}, transposed", rtol=RTOL)


def never_raises_the_divergence(update, loss, equation):
    rng = np.random.default_rng(8)
    for shape, k in [((17, 11), 1), ((17, 11), 3), ((4, 13), 6)]:
        a = rng.gamma(0.5, size=shape)
        w, h = rng.random((shape[0], k)), rng.random((k, shape[1]))
        before = distance(a, w, h, loss)
        for _ in range(5):
            w = update(a, w, h)
            after = distance(a, w, h, loss)
            assert after <= before * (1 + 1e-12), f"{update.__name__} raised the divergence from {before} to {after}"
            before = after
        assert (w >= 0).all(), f"{update.__name__} made entries below 0: {w.min()}"


def leaves_a_perfect_fit_alone(update, loss, equation):
    found = update(P, W, H)
    assert_close(found, W, f"{update.__name__}(w @ h, w, h)", "a perfect fit stays as it is", rtol=RTOL)


def keeps_zeros_and_counts_0_over_0_as_0(update, loss, equation):
    w, h = W.copy(), H.copy()
    w[1, 0] = 0
    moved = update(A, w, h)[1, 0]
    assert moved == 0, f"{update.__name__} moved an entry of w from 0 to {moved}"
    h[1] = 0
    found = update(A, w, h)
    one = update(A, w[:, :1], h[:1])
    call = f"{update.__name__}(a, w, h) where h has a row of 0"
    assert_close(found, np.hstack([one, np.zeros((3, 1))]), call, f"{equation}, 0 over 0 being 0", rtol=RTOL)
    w[0] = 0
    found = update(A, w, H)
    expected = np.vstack([np.zeros((1, 2)), update(A[1:], w[1:], H)])
    assert_close(found, expected, f"{update.__name__}(a, w, h) where w has a row of 0", equation, rtol=RTOL)


def takes_sparse_data(update, loss, equation):
    w, h = start()
    for kind in (csr_array, csc_array):
        found, expected = update(kind(data()), w, h), update(data(), w, h)
        assert_close(found, expected, f"{update.__name__}({kind.__name__}, w, h)", "the same numbers", rtol=RTOL)
    peak = heap(update, *wide())
    assert peak < 20e6, f"{update.__name__} of sparse data took {peak / 1e6:.0f} MB; W H as a whole has 48 MB"


def works_at_extreme_scales(update, loss, equation):
    for scale in (1e-140, 1e140):
        found = update(scale * A, scale * W, H) / scale
        call = f"{update.__name__}({scale:g} a, {scale:g} w, h) / {scale:g}"
        assert_close(found, update(A, W, H), call, "everything scales", rtol=RTOL)
        found = update(scale * A, W, scale * H)
        call = f"{update.__name__}({scale:g} a, w, {scale:g} h)"
        assert_close(found, update(A, W, H), call, "everything scales", rtol=RTOL)


def keeps_float32(update, loss, equation):
    found = update(*(x.astype(np.float32) for x in (A, W, H)))
    assert found.dtype == np.float32, f"{update.__name__} of float32 arrays returned {found.dtype}"
    assert_close(found, update(A, W, H), f"{update.__name__} of float32 arrays", equation, rtol=1e-5)


def leaves_its_arguments_alone(update, loss, equation):
    unchanged(update, A, W, H)


CHECKS = [
    agrees_with_scikit_learn,
    updates_h_if_all_is_transposed,
    never_raises_the_divergence,
    leaves_a_perfect_fit_alone,
    keeps_zeros_and_counts_0_over_0_as_0,
    takes_sparse_data,
    works_at_extreme_scales,
    keeps_float32,
    leaves_its_arguments_alone,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_frobenius_update_passes(check):
    check(frobenius_update, "frobenius", "equation (6)")


def test_kl_update_keeps_the_sums_of_rows():
    w = kl_update(A, W, H)
    assert_close((w @ H).sum(axis=1), A.sum(axis=1), "the sums of the rows of W H after kl_update", "(7)", rtol=RTOL)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_kl_update_passes(check):
    check(kl_update, "kl", "equation (7)")


# nndsvd


def test_nndsvd_of_one_part_is_the_first_pattern():
    u, s, vt = np.linalg.svd(A)
    for a, name in ((A, "a"), (A.T, "a'")):
        w, h = nndsvd(a, 1)
        expected = s[0] * np.abs(np.outer(u[:, 0], vt[0]))
        assert_close(
            w @ h, expected if a is A else expected.T, f"w @ h of nndsvd({name}, 1)", "equation (9)", rtol=RTOL
        )
        assert_close(np.linalg.norm(w), np.sqrt(s[0]), f"the norm of w of nndsvd({name}, 1)", "equation (9)", rtol=RTOL)


def test_nndsvd_by_hand():
    w, h = nndsvd(np.array([[3.0, 0.0], [4.0, 5.0]]) * 1.3, 2)
    # of the second pattern the positive half is the longer, whatever its signs; the first is sqrt(45) u1 v1'
    assert_close(w[:, 1], np.array([1.3963, 0]), "w[:, 1] of nndsvd(a, 2)", "equation (9)", rtol=1e-4)
    assert_close(h[1], np.array([1.3963, 0]), "h[1] of nndsvd(a, 2)", "equation (9)", rtol=1e-4)
    assert_close(w @ h, 1.3 * np.array([[3, 1.5], [4.5, 4.5]]), "w @ h of nndsvd(a, 2)", "equation (9)", rtol=RTOL)


@pytest.mark.parametrize("turned", [False, True])
def test_nndsvd_agrees_with_scikit_learn(turned):
    a = np.delete(np.delete(data(), 5, axis=0), 7, axis=1)
    a = a.T if turned else a
    w, h = nndsvd(a, 6)
    # There, 6 + 10 random directions are more than the shorter side: its SVD is whole. What is below 1e-6 becomes 0. It tells
    # only what comes after one update of both factors, so ours are updated too.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NMF(6, init="nndsvd", solver="mu", tol=0, max_iter=1, random_state=0)
        expected = model.fit_transform(a)
    w = w * (a @ h.T) / np.maximum(w @ h @ h.T, 1e-300)
    assert_close(w, expected, "w of nndsvd(a, 6), updated once", "(9), by scikit-learn", rtol=1e-4, atol=5e-6)
    h = h * (w.T @ a) / np.maximum(w.T @ w @ h, 1e-300)
    assert_close(h, model.components_, "h of nndsvd(a, 6), updated once", "(9), by scikit-learn", rtol=1e-4, atol=5e-6)


def test_nndsvd_fills_zeros_in_the_units_of_a_factor():
    w, h = nndsvd(A, 3)
    filled = nndsvd(A, 3, fill=0.37)
    value = 0.37 * np.sqrt(A.mean() / 3)
    for name, before, after in (("w", w, filled[0]), ("h", h, filled[1])):
        expected = np.where(before == 0, value, before)
        assert_close(
            after, expected, f"{name} of nndsvd(a, 3, fill=0.37)", "0.37 times the root of mean(a) / 3", rtol=RTOL
        )
        assert (before == 0).any(), f"{name} of nndsvd(a, 3) has no zeros; fill is 0 if it is not given"


def test_nndsvd_of_data_of_low_rank_has_parts_of_zeros():
    a = np.outer([1.3, 0.0, 2.2, 0.4], [0.7, 1.9, 0.0])
    w, h = nndsvd(a, 3)
    assert_close(
        w @ h, a, "w @ h of nndsvd(a, 3) for a of rank 1", "all but the first pattern are 0", rtol=0, atol=1e-12
    )
    # here LAPACK returns vectors of a singular value of 0 that have opposite signs and no half in common
    for places in ([2], [1], [1, 2], [6], [2, 5], [6, 8], [1, 2, 5]):
        a = np.zeros((3, 3))
        a.flat[places] = 1.7
        found = nndsvd(a, 3)
        assert np.isfinite(found[0]).all() and np.isfinite(found[1]).all(), f"nndsvd({a.tolist()}, 3) returned {found}"
    w, h = nndsvd(np.zeros((4, 3)), 2)
    assert not w.any() and not h.any(), f"nndsvd of zeros returned {w} and {h}, not zeros"


@pytest.mark.parametrize("n_parts", [3, 11])
def test_nndsvd_of_sparse_data(n_parts):
    w, h = nndsvd(data(), n_parts, fill=0.1)
    for kind in SPARSE[:2]:
        found = nndsvd(kind(data()), n_parts, fill=0.1)
        # patterns of close singular values are right to 1e-15 over their distance; those of 0 are anything, and left out
        for j in range(min(n_parts, 8)):
            expected = np.outer(w[:, j], h[j])
            call = f"part {j} of nndsvd({kind.__name__}, {n_parts}, fill=0.1)"
            assert_close(
                np.outer(found[0][:, j], found[1][j]), expected, call, "that of the dense data", rtol=1e-6, atol=1e-9
            )


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_nndsvd_at_extreme_scales(scale):
    w, h = nndsvd(A, 3, fill=0.5)
    found = nndsvd(scale * A, 3, fill=0.5)
    for name, expected, x in (("w", w, found[0]), ("h", h, found[1])):
        assert_close(x / np.sqrt(scale), expected, f"{name} of nndsvd({scale:g} a, 3), over the root", "(9)", rtol=1e-9)


def test_nndsvd_keeps_float32_and_its_data():
    for name, factor in zip("wh", nndsvd(A.astype(np.float32), 2, fill=0.1)):
        assert factor.dtype == np.float32, f"{name} of nndsvd(float32, 2) has dtype {factor.dtype}"
    unchanged(nndsvd, A, n_parts=3, fill=0.5)


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "n_parts", "fill", "named"),
    [
        (A, 0, 0, "n_parts"),
        (A, 4, 0, "n_parts"),
        (A, 1.5, 0, "n_parts"),
        (A, 2, -1, "fill"),
        (A, 2, np.inf, "fill"),
        (-A, 2, 0, "a"),
    ],
)
def test_nndsvd_refuses(a, n_parts, fill, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        nndsvd(a, n_parts, fill=fill)


# factorize


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n_iter", [1, 10, 23])
def test_factorize_agrees_with_scikit_learn_update_for_update(n_iter, loss):
    w, h = start()
    found = factorize(data(), w, h, loss=loss, max_iter=n_iter, tol=0)
    expected = sklearn_factors(data(), w, h, loss, n_iter)
    # scikit-learn drops entries of h below 2e-16, and divides by 1e-7 where w @ h is less, which it is only in row 5
    for name, x, y in (("w", found.w, expected[0]), ("h", found.h, expected[1])):
        call = f"factorize(a, w, h, loss={loss!r}, max_iter={n_iter}, tol=0).{name}"
        assert_close(x, y, call, "(6) or (7) for W and then for H, by scikit-learn", rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_records_the_divergence(loss):
    w, h = start()
    for n_iter, n_records in ((1, 2), (10, 2), (20, 3), (24, 4)):
        found = factorize(data(), w, h, loss=loss, max_iter=n_iter, tol=0)
        call = f"factorize(a, w, h, loss={loss!r}, max_iter={n_iter}, tol=0)"
        assert found.n_iter == n_iter, f"{call}.n_iter is {found.n_iter}"
        assert len(found.objective) == n_records, (
            f"{call} recorded {len(found.objective)} divergences, not {n_records}: at the start, after every 10, and at the end"
        )
        expected = [distance(data(), w, h, loss), distance(data(), found.w, found.h, loss)]
        assert_close(
            found.objective[[0, -1]], np.array(expected), f"{call}.objective, first and last", "(1) or (2)", rtol=1e-9
        )
        if n_iter == 24:
            ten = factorize(data(), w, h, loss=loss, max_iter=10, tol=0).objective[-1]
            assert_close(
                found.objective[1], ten, f"{call}.objective[1]", "the divergence after 10 iterations", rtol=1e-9
            )


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_never_raises_the_divergence(loss):
    found = factorize(data(), *start(), loss=loss, max_iter=60, tol=0)
    rise = np.diff(found.objective).max()
    assert rise <= 1e-12 * found.objective[0], (
        f"the divergence rose by {rise:.3g} within ten iterations: {found.objective}"
    )
    assert found.w.min() >= 0 and found.h.min() >= 0, "factorize returned entries below 0"


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_stops_when_ten_iterations_take_off_too_little(loss):
    w, h = start()
    record = factorize(data(), w, h, loss=loss, max_iter=60, tol=0).objective
    fall = 1 - record[1:] / record[:-1]
    for tol in (1.01 * fall[0], float(fall[[1, 2]].mean()), float(fall[[3, 4]].mean())):
        expected = 10 * (1 + int((fall <= tol).argmax()))
        found = factorize(data(), w, h, loss=loss, max_iter=60, tol=tol)
        call = f"factorize(a, w, h, loss={loss!r}, max_iter=60, tol={tol:.4g})"
        assert found.n_iter == expected, (
            f"{call} ended after {found.n_iter} iterations; by (10) it should after {expected}"
        )
        assert found.converged, f"{call}.converged is {found.converged}"
    short = factorize(data(), w, h, loss=loss, max_iter=10, tol=1e-9)
    assert not short.converged, (
        "factorize(a, w, h, max_iter=10, tol=1e-9) says that it converged, while the divergence still falls"
    )


def test_factorize_stops_at_a_perfect_fit():
    found = factorize(np.zeros((3, 4)), W, H)
    assert found.objective[-1] == 0 and found.converged, f"of zeros, factorize returned {found}"
    found = factorize(P, W, H)
    assert found.n_iter == 10 and found.converged, f"begun at a perfect fit, factorize took {found.n_iter} iterations"


def test_factorize_goes_on_from_an_infinite_divergence():
    w = np.zeros_like(W)
    w[:, 0] = [1.0, 2.0, 3.0]
    h = H.copy()
    h[0, 1] = 0  # this column of W H is 0, and stays so: the divergence is infinite for good
    found = factorize(A, w, h, loss="kl", max_iter=30)
    assert found.objective[-1] == np.inf, f"the divergence of (2) is {found.objective} though a column of W H stays 0"
    assert np.isfinite(found.w).all() and np.isfinite(found.h).all(), "factorize returned entries that are not finite"


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_finds_parts_that_were_planted(loss):
    rng = np.random.default_rng(1)
    w, h = rng.gamma(1.0, size=(20, 3)), rng.gamma(1.0, size=(3, 12))
    w[rng.random(w.shape) < 0.5], h[rng.random(h.shape) < 0.5] = 0, 0
    w[:3], h[:, :3] = np.eye(3), np.eye(3)  # rows and columns that have only one part make the parts unique
    found = factorize(w @ h, *nndsvd(w @ h, 3, fill=0.1), loss=loss, max_iter=100, tol=0)
    length = np.linalg.norm(found.h, axis=1)
    # without the fixed zeros of an exact solver, parts are near to the planted ones long before they agree
    cosines = (found.h / length[:, None]) @ (h / np.linalg.norm(h, axis=1)[:, None]).T
    best = cosines.max(axis=0)
    assert (best > 0.9).all(), (
        f"of the three parts planted, factorize(..., loss={loss!r}) found some with cosines {best.round(3)}"
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_ends_where_no_entry_wants_to_move(loss):
    found = factorize(A, *nndsvd(A, 2, fill=0.5), loss=loss, max_iter=400, tol=0)
    for name, x, g in (
        ("W", found.w, slope(A, found.w, found.h, loss)),
        ("H", found.h.T, slope(A.T, found.h.T, found.w.T, loss)),
    ):
        off = np.abs(x * g).max()
        # slopes were near 1 at the start, and are below 1e-5 here
        assert off < 1e-3, (
            f"after 400 iterations by {loss}, an entry of {name} times its slope is {off:.2g}; (4) says 0"
        )
        assert g.min() > -1e-3, (
            f"after 400 iterations by {loss}, an entry of {name} has the slope {g.min():.2g}; (4) says >= 0"
        )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_factorize_at_extreme_scales(scale, loss):
    w, h = start()
    root = np.sqrt(scale)
    found = factorize(scale * data(), root * w, root * h, loss=loss, max_iter=10)
    expected = factorize(data(), w, h, loss=loss, max_iter=10)
    call = f"factorize of everything times {scale:g}, loss={loss!r}"
    assert_close(found.w / root, expected.w, f"w of {call}", "everything scales", rtol=1e-9, atol=1e-12)
    assert_close(found.h / root, expected.h, f"h of {call}", "everything scales", rtol=1e-9, atol=1e-12)
    assert found.n_iter == expected.n_iter, f"{call} ended after {found.n_iter} iterations, not {expected.n_iter}"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", SPARSE)
def test_factorize_takes_sparse_data(kind, loss):
    w, h = start()
    found = factorize(kind(data()), w, h, loss=loss, max_iter=12)
    expected = factorize(data(), w, h, loss=loss, max_iter=12)
    assert_close(
        found, expected, f"factorize({kind.__name__}, w, h, loss={loss!r})", "the dense data", rtol=1e-8, atol=1e-12
    )


def test_factorize_with_h_fixed():
    w, h = start()
    found = factorize(data(), w, h, max_iter=2, update_h=False)
    assert np.array_equal(found.h, h), "factorize(..., update_h=False) changed h"
    expected = frobenius_update(data(), frobenius_update(data(), w, h), h)
    assert_close(found.w, expected, "w of factorize(a, w, h, max_iter=2, update_h=False)", "(6), twice", rtol=RTOL)


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_keeps_float32_and_its_arguments(loss):
    w, h = start()
    found = factorize(*(x.astype(np.float32) for x in (data(), w, h)), loss=loss, max_iter=5)
    for name in "wh":
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"factorize(float32, ..., loss={loss!r}).{name} has dtype {dtype}"
    unchanged(factorize, data(), w, h, loss=loss, max_iter=5)


@pytest.mark.given
@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_iter": 0}, "max_iter"),
        ({"max_iter": 1.5}, "max_iter"),
        ({"tol": -1.0}, "tol"),
        ({"tol": np.nan}, "tol"),
        ({"loss": "l1"}, "loss"),
    ],
)
def test_factorize_refuses(options, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        factorize(A, W, H, **options)


@cache
def texts():
    """The docstrings of 30 functions of each of three modules of SciPy as a sparse matrix of weights of words, and the modules."""
    documents, labels = [], []
    for module in (scipy.linalg, scipy.signal, scipy.ndimage):
        functions = [getattr(module, function) for function in sorted(module.__all__)]
        found = [f.__doc__ for f in functions if callable(f) and not isinstance(f, type) and len(f.__doc__ or "") > 600]
        found = found[:: max(len(found) // 30, 1)][:30]
        documents += found
        labels += [module.__name__] * len(found)
    words = TfidfVectorizer(
        token_pattern=r"\b[a-z]{4,}\b", stop_words="english", min_df=4, max_df=0.5, sublinear_tf=True
    )
    return csr_array(words.fit_transform(documents)), np.array(labels)


@pytest.mark.parametrize("loss", LOSSES)
def test_factorize_finds_the_topics_of_texts(loss):
    a, labels = texts()
    found = factorize(a, *nndsvd(a, 3, fill=0.1), loss=loss, max_iter=30)
    topic = (found.w * found.h.sum(axis=1)).argmax(axis=1)
    purity = sum(np.unique(labels[topic == k], return_counts=True)[1].max(initial=0) for k in range(3)) / len(labels)
    # 0.97 with SciPy 1.17; a third by chance. Docstrings differ from version to version.
    assert purity > 0.8, (
        f"three topics by {loss} sort {purity:.0%} of SciPy's docstrings into their modules; expected over 80 %"
    )


# transform


def test_transform_by_hand():
    parts = np.array([[1.0, 0.5, 0.0, 0.2], [0.0, 0.5, 1.0, 0.4]])
    mixed = np.array([[2.3, 1.7], [0.4, 3.1]]) @ parts
    for loss in LOSSES:
        found = transform(mixed, parts, loss=loss, tol=0, max_iter=500)
        call = f"w of transform(w @ h, h, loss={loss!r}, tol=0, max_iter=500)"
        assert_close(found.w, np.array([[2.3, 1.7], [0.4, 3.1]]), call, "the mixture that was planted", rtol=1e-6)
        assert np.array_equal(found.h, parts), "transform changed the parts"


def test_transform_begins_with_ones():
    for update, loss, equation in UPDATES:
        found = transform(A, H, loss=loss, max_iter=1)
        call = f"w of transform(a, h, loss={loss!r}, max_iter=1)"
        assert_close(found.w, update(A, np.ones((3, 2)), H), call, f"{equation}, from ones", rtol=RTOL)
        assert_close(found.objective[0], distance(A, np.ones((3, 2)), H, loss), "the first divergence", rtol=RTOL)


def test_transform_finds_non_negative_least_squares():
    found = transform(data(), start()[1], tol=0, max_iter=200)
    expected = np.array([nnls(start()[1].T, row)[0] for row in data()])
    off = found.objective[-1] - distance(data(), expected, start()[1], "frobenius")
    # entries that should be 0 die out slowly, and the divergence feels their squares
    assert off < 1e-4 * found.objective[-1], (
        f"transform ended {off:.3g} above the least divergence, {found.objective[-1]:.6g}"
    )


def test_transform_reaches_the_minimum_of_kl():
    found = transform(data(), start()[1], loss="kl", tol=0, max_iter=200)
    used = np.delete(np.arange(17), 5)
    g = slope(data()[used], found.w[used], start()[1], "kl")
    off = np.abs(found.w[used] * g).max()
    assert off < 1e-2, f"after 200 iterations an entry of W times its slope is {off:.2g}; (4) says 0"
    assert not found.w[5].any(), f"a row of zeros has none of any part, transform says {found.w[5]}"


def test_transform_hands_its_options_on():
    found = transform(A, H, tol=0.9, max_iter=50)
    assert found.converged and found.n_iter <= 20, f"transform(a, h, tol=0.9) took {found.n_iter} iterations"
    found = transform(A, H, tol=1e-12, max_iter=7)
    assert found.n_iter == 7, f"transform(a, h, max_iter=7) took {found.n_iter} iterations"


def test_transform_takes_sparse_data_and_keeps_float32():
    h = start()[1]
    for kind in SPARSE:
        found, expected = transform(kind(data()), h, max_iter=5), transform(data(), h, max_iter=5)
        assert_close(found, expected, f"transform({kind.__name__}, h)", "the dense data", rtol=RTOL, atol=1e-12)
    found = transform(A.astype(np.float32), H.astype(np.float32), max_iter=5)
    assert isinstance(found, Factorization), f"transform returned a {type(found).__name__}"
    assert found.w.dtype == np.float32, f"transform(float32, float32).w has dtype {found.w.dtype}"


def test_transform_tells_the_topic_of_new_texts():
    a, labels = texts()
    rows = np.arange(len(labels))
    known = factorize(a[rows % 4 != 0], *nndsvd(a[rows % 4 != 0], 3, fill=0.1), max_iter=30)
    names = [labels[rows % 4 != 0][np.argsort(-column)[:5]] for column in (known.w / known.w.sum(axis=0)).T]
    names = [max(set(top), key=list(top).count) for top in names]
    amounts = transform(a[rows % 4 == 0], known.h).w * known.h.sum(axis=1)
    right = np.mean([names[k] == label for k, label in zip(amounts.argmax(axis=1), labels[rows % 4 == 0])])
    assert right > 0.75, f"{right:.0%} of 30 docstrings left out are put into their module; expected over 75 %"


@pytest.mark.given
@pytest.mark.parametrize(("a", "h", "named"), [(-A, H, "a"), (A, -H, "h"), (A, H[:, :3], "h"), (A, H[0], "h")])
def test_transform_refuses(a, h, named):
    with pytest.raises(ValueError, match=f"^{named} "):
        transform(a, h)
