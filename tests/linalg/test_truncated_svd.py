"""Shared tests of linalg/truncated_svd: run on the reference, and on the learner's file.

Nothing here is random but seeded data. Singular values are right to some 1e-15 of the largest one, and so are products of the
patterns: RTOL leaves a factor of ten thousand for another BLAS or another algorithm. Patterns are compared through what
they add up to, since their signs are free.
"""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from mlpath.linalg._shared import with_singular_values
from mlpath.linalg.truncated_svd import (
    TruncatedSVD,
    approximation,
    compress_image,
    denoise,
    explained_energy,
    marchenko_pastur_median,
    optimal_threshold,
    threshold_coefficient,
    truncate,
    truncation_error,
)
from mlpath.testing import assert_close

RTOL = 1e-11
S = np.array([7.3, 4.1, 4.1, 2.6, 0.9, 0.2])


def matrix(n_rows=11, seed=1):
    """A matrix of full rank with the singular values S."""
    return with_singular_values(S, n_rows, np.random.default_rng(seed))


def best(a, rank):
    """The best matrix of a rank, by NumPy."""
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return u[:, :rank] @ np.diag(s[:rank]) @ vt[:rank]


def photograph():
    """A part of a photograph, every third pixel: 90 rows, 130 columns, three colours."""
    return load_sample_image("china.jpg")[60:330:3, 100:490:3] / 255.0


def unchanged(function, array, *arguments):
    before = array.copy()
    function(array, *arguments)
    assert np.array_equal(array, before), f"{function.__name__} changed the array that it was given"


# truncate


@pytest.mark.parametrize("rank", [1, 3, 6])
@pytest.mark.parametrize("turned", [False, True])
def test_truncate_keeps_the_largest_singular_values(rank, turned):
    a = matrix().T if turned else matrix()
    kept = truncate(a, rank)
    assert_close(kept.s, S[:rank], f"truncate(a, {rank}).s for a of shape {a.shape}", "equation (1)", rtol=RTOL)


@pytest.mark.parametrize("turned", [False, True])
def test_truncate_has_a_column_and_a_row_for_each_pattern(turned):
    a = matrix().T if turned else matrix()
    kept, (m, n) = truncate(a, 4), a.shape
    assert kept.u.shape == (m, 4), f"truncate(a, 4).u for a of shape {a.shape} has shape {kept.u.shape}, not {(m, 4)}"
    assert kept.vt.shape == (4, n), (
        f"truncate(a, 4).vt for a of shape {a.shape} has shape {kept.vt.shape}, not {(4, n)}"
    )


def test_truncate_returns_orthonormal_patterns():
    kept = truncate(matrix(), 4)
    assert_close(kept.u.T @ kept.u, np.eye(4), "u' u of truncate(a, 4)", "orthonormal columns", atol=1e-12)
    assert_close(kept.vt @ kept.vt.T, np.eye(4), "vt vt' of truncate(a, 4)", "orthonormal rows", atol=1e-12)


def test_truncate_pairs_each_column_with_its_row():
    a = matrix()
    kept = truncate(a, 5)
    assert_close(a @ kept.vt.T, kept.u * kept.s, "a @ vt' of truncate(a, 5)", "A v = sigma u", rtol=0, atol=1e-11)


def test_truncate_keeps_float32():
    kept = truncate(matrix().astype(np.float32), 2)
    for name in ("u", "s", "vt"):
        dtype = getattr(kept, name).dtype
        assert dtype == np.float32, f"truncate(float32 matrix, 2).{name} has dtype {dtype}"


def test_truncate_leaves_its_matrix_alone():
    unchanged(truncate, matrix(), 2)


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "rank", "named"),
    [
        (np.ones((3, 2)), 0, "rank"),
        (np.ones((3, 2)), 3, "rank"),
        (np.ones((3, 2)), 1.5, "rank"),
        (np.array([[1.0, np.nan]]), 1, "a"),
        (np.ones(3), 1, "a"),
        (np.ones((0, 3)), 1, "a"),
    ],
)
def test_truncate_refuses(a, rank, named):
    with pytest.raises(ValueError, match=named):
        truncate(a, rank)


# approximation


def test_approximation_by_hand():
    patterns = TruncatedSVD(
        u=np.array([[0.6, 0.8], [0.8, -0.6], [0.0, 0.0]]),
        s=np.array([5.5, 2.5]),
        vt=np.array([[0.28, 0.96], [0.96, -0.28]]),
    )
    # 5.5 (0.6, 0.8, 0)' (0.28, 0.96) + 2.5 (0.8, -0.6, 0)' (0.96, -0.28)
    expected = np.array([[2.844, 2.608], [-0.208, 4.644], [0.0, 0.0]])
    assert_close(approximation(patterns), expected, "approximation(patterns)", "equation (1)", rtol=RTOL)


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_approximation_is_the_best_of_its_rank(rank):
    # Of the rank 2 there are many that are equally good, as the second singular value comes twice: the error tells.
    a = matrix()
    off = np.linalg.norm(a - approximation(truncate(a, rank)))
    expected = np.sqrt((S[rank:] ** 2).sum())
    call = f"the Frobenius norm of a - approximation(truncate(a, {rank}))"
    assert_close(off, expected, call, "equation (3)", rtol=1e-10)


def test_approximation_of_all_patterns_is_the_matrix():
    a = matrix()
    assert_close(approximation(truncate(a, 6)), a, "approximation(truncate(a, 6))", "equation (1)", rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_approximation_at_extreme_scales(scale):
    a = matrix()
    found = approximation(truncate(scale * a, 4)) / scale
    assert_close(
        found, best(a, 4), f"approximation(truncate({scale:g} a, 4)) / {scale:g}", "equation (1)", rtol=0, atol=1e-11
    )


def test_approximation_of_no_patterns_is_zero():
    none = TruncatedSVD(np.empty((4, 0)), np.empty(0), np.empty((0, 3)))
    assert_close(approximation(none), np.zeros((4, 3)), "approximation(no patterns)", "equation (1), an empty sum")


def test_approximation_keeps_float32():
    found = approximation(TruncatedSVD(*(np.ones(shape, np.float32) for shape in ((4, 2), 2, (2, 3)))))
    assert found.dtype == np.float32, f"approximation(float32 patterns) returned {found.dtype}"


# truncation_error


def test_truncation_error_by_hand():
    # The squares of 4.1, 2.6, 0.9 and 0.2 sum to 24.42.
    assert_close(
        np.array(truncation_error(S, 2)),
        np.array([4.1, 4.9416596402]),
        "truncation_error(s, 2)",
        "equation (3)",
        rtol=1e-9,
    )
    expected = np.array([2.6, 2.7586228448])
    assert_close(np.array(truncation_error(S, 3)), expected, "truncation_error(s, 3)", "equation (3)", rtol=1e-8)


@pytest.mark.parametrize("rank", range(1, 6))
def test_truncation_error_is_what_the_approximation_lacks(rank):
    a = matrix()
    rest = a - best(a, rank)
    expected = np.array([np.linalg.norm(rest, 2), np.linalg.norm(rest)])
    call = f"truncation_error(singular values of a, {rank})"
    assert_close(np.array(truncation_error(S, rank)), expected, call, "the norms of a - a_k", rtol=1e-9)


def test_truncation_error_of_nothing_kept_is_the_whole_matrix():
    expected = np.array([7.3, np.linalg.norm(S)])
    assert_close(np.array(truncation_error(S, 0)), expected, "truncation_error(s, 0)", "equation (3)", rtol=RTOL)


def test_truncation_error_of_everything_kept_is_zero():
    assert truncation_error(S, 6) == (0, 0), (
        f"truncation_error(s, 6) returned {truncation_error(S, 6)}: nothing is dropped"
    )
    none = truncation_error(np.array([2.0, 0.0, 0.0]), 1)
    assert none == (0, 0), f"truncation_error([2, 0, 0], 1) returned {none}: nothing is lost"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_truncation_error_where_squares_are_zero_or_infinite(scale):
    found = np.array(truncation_error(scale * S, 2)) / scale
    expected = np.array([4.1, 4.9416596402])
    assert_close(found, expected, f"truncation_error({scale:g} s, 2) / {scale:g}", "equation (3)", rtol=1e-9)


def test_truncation_error_of_a_tail_that_is_tiny_beside_the_first():
    found = np.array(truncation_error(np.array([7.3, 4.1e-170, 2.6e-170, 0.9e-170, 0.2e-170]), 1)) / 1e-170
    call = "truncation_error([7.3, 4.1e-170, 2.6e-170, 0.9e-170, 0.2e-170], 1) / 1e-170"
    assert_close(found, np.array([4.1, 4.9416596402]), call, "equation (3)", rtol=1e-9)


def test_truncation_error_leaves_its_values_alone():
    unchanged(truncation_error, S.copy(), 2)


@pytest.mark.given
@pytest.mark.parametrize(
    "function", [lambda s: truncation_error(s, 1), explained_energy, lambda s: optimal_threshold(s, (3, 2))]
)
@pytest.mark.parametrize("s", [[1.0, 2.0], [1.0, -1.0], [1.0, np.nan], [], [[1.0, 0.5]]])
def test_truncation_error_explained_energy_and_optimal_threshold_refuse_what_are_no_singular_values(function, s):
    with pytest.raises(ValueError, match="singular_values"):
        function(np.array(s))


@pytest.mark.given
@pytest.mark.parametrize("rank", [-1, 7])
def test_truncation_error_refuses_a_rank_that_cannot_be(rank):
    with pytest.raises(ValueError, match="rank"):
        truncation_error(S, rank)


# explained_energy


def test_explained_energy_by_hand():
    # The squares 53.29, 16.81, 16.81, 6.76, 0.81 and 0.04 sum to 94.52.
    expected = np.array([53.29, 70.10, 86.91, 93.67, 94.48, 94.52]) / 94.52
    assert_close(
        explained_energy(S), expected, "explained_energy([7.3, 4.1, 4.1, 2.6, 0.9, 0.2])", "equation (4)", rtol=RTOL
    )


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_explained_energy_where_squares_are_zero_or_infinite(scale):
    expected = np.array([53.29, 70.10, 86.91, 93.67, 94.48, 94.52]) / 94.52
    assert_close(explained_energy(scale * S), expected, f"explained_energy({scale:g} s)", "equation (4)", rtol=RTOL)


def test_explained_energy_of_the_zero_matrix_is_all_there():
    assert_close(explained_energy(np.zeros(3)), np.ones(3), "explained_energy([0, 0, 0])", "nothing is missing")


@pytest.mark.parametrize("s", [[2.5], [2.5, 0.0, 0.0]])
def test_explained_energy_of_one_pattern_is_in_the_first(s):
    assert_close(explained_energy(np.array(s)), np.ones(len(s)), f"explained_energy({s})", "equation (4)")


def test_explained_energy_keeps_float32():
    found = explained_energy(S.astype(np.float32))
    assert found.dtype == np.float32, f"explained_energy(float32 values) returned {found.dtype}"


def test_explained_energy_leaves_its_values_alone():
    unchanged(explained_energy, S.copy())


# compress_image


def test_compress_image_treats_each_colour_by_itself():
    image = photograph()
    found = compress_image(image, 12).image
    expected = np.stack([best(image[:, :, i], 12) for i in range(3)], axis=2).clip(0, 1)
    call = "compress_image(a photograph of 90 by 130 pixels, 12).image"
    assert_close(found, expected, call, "equation (1), colour by colour", rtol=0, atol=1e-10)


def test_compress_image_stays_between_black_and_white():
    found = compress_image(photograph(), 3).image
    assert found.min() >= 0, f"compress_image(photograph, 3).image has {found.min():.3g}, darker than black"
    assert found.max() <= 1, f"compress_image(photograph, 3).image has {found.max():.3g}, brighter than white"


@pytest.mark.parametrize(("rank", "ratio"), [(12, 90 * 130 / (12 * 221)), (53, 90 * 130 / (53 * 221))])
def test_compress_image_says_what_it_saves(rank, ratio):
    found = compress_image(photograph(), rank).ratio
    assert_close(
        found, ratio, f"compress_image(photograph of 90 by 130 pixels, {rank}).ratio", "equation (5)", rtol=RTOL
    )


def test_compress_image_takes_any_number_of_channels():
    image = np.random.default_rng(2).uniform(0.2, 0.8, (9, 7, 1))
    found = compress_image(image, 7).image
    assert_close(
        found, image, "compress_image(image of 9 by 7 pixels and one channel, 7).image", "all is kept", atol=1e-12
    )


def test_compress_image_keeps_float32():
    found = compress_image(photograph().astype(np.float32), 5).image
    assert found.dtype == np.float32, f"compress_image(float32 photograph, 5).image has dtype {found.dtype}"


def test_compress_image_leaves_its_photograph_alone():
    unchanged(compress_image, photograph(), 3)


@pytest.mark.given
@pytest.mark.parametrize(
    ("image", "rank", "named"),
    [
        (np.ones((4, 3)), 1, "image"),
        (np.full((4, 3, 3), 1.5), 1, "image"),
        (np.full((4, 3, 3), -0.1), 1, "image"),
        (np.full((4, 3, 3), np.nan), 1, "image"),
        (np.ones((4, 3, 3)), 4, "rank"),
        (np.ones((4, 3, 3)), 0, "rank"),
    ],
)
def test_compress_image_refuses(image, rank, named):
    with pytest.raises(ValueError, match=named):
        compress_image(image, rank)


# threshold_coefficient


def test_threshold_coefficient_by_hand():
    # For 0.25 as in the note; for 0.6 the root is sqrt(0.36 + 8.4 + 1) = 3.124099870.
    for beta, expected in ((0.6, 2.0533062558), (0.25, 1.7580293771), (1.0, 4 / np.sqrt(3))):
        call = f"threshold_coefficient({beta})"
        assert_close(threshold_coefficient(beta), expected, call, "equation (6)", rtol=1e-9)


@pytest.mark.parametrize("beta", [0.05, 0.3, 0.5, 0.75, 1.0])
def test_threshold_coefficient_agrees_with_the_published_polynomial(beta):
    # Gavish and Donoho (2014) give lambda over the root of the median as this polynomial, good to 0.02.
    published = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    found = threshold_coefficient(beta) / np.sqrt(marchenko_pastur_median(beta))
    call = f"threshold_coefficient({beta}) / sqrt(marchenko_pastur_median({beta}))"
    assert_close(found, published, call, "the paper's polynomial", rtol=0, atol=0.02)


@pytest.mark.given
@pytest.mark.parametrize("function", [threshold_coefficient, marchenko_pastur_median])
@pytest.mark.parametrize("beta", [0.0, 1.01, -1.0, np.nan])
def test_threshold_coefficient_refuses_a_shape_that_cannot_be(function, beta):
    with pytest.raises(ValueError, match="beta"):
        function(beta)


# optimal_threshold


@pytest.mark.parametrize("shape", [(6, 10), (10, 6)])
def test_optimal_threshold_of_known_noise(shape):
    found = optimal_threshold(S, shape, noise=0.7)
    call = f"optimal_threshold(s, {shape}, noise=0.7)"
    assert_close(found, 2.0533062558 * np.sqrt(10) * 0.7, call, "equation (6)", rtol=1e-9)


@pytest.mark.parametrize("shape", [(6, 24), (24, 6)])
def test_optimal_threshold_of_unknown_noise(shape):
    # The median of six is the mean of the third and the fourth: (4.1 + 2.6) / 2.
    found = optimal_threshold(S, shape)
    expected = 1.7580293771 * 3.35 / np.sqrt(marchenko_pastur_median(0.25))
    assert_close(found, expected, f"optimal_threshold(s, {shape})", "equation (7)", rtol=1e-9)


def test_optimal_threshold_of_unknown_noise_follows_the_scale():
    found, expected = optimal_threshold(1e-180 * S, (6, 24)) / 1e-180, optimal_threshold(S, (6, 24))
    assert_close(found, expected, "optimal_threshold(1e-180 s, (6, 24)) / 1e-180", "equation (7)", rtol=RTOL)


@pytest.mark.parametrize("shape", [(200, 300), (300, 120)])
def test_optimal_threshold_finds_the_noise_in_noise(shape):
    # The median of some hundred singular values of pure noise is right to a per cent or so.
    a = 0.4 * np.random.default_rng(3).normal(size=shape)
    s = np.linalg.svd(a, compute_uv=False)
    told, known = optimal_threshold(s, shape), optimal_threshold(s, shape, noise=0.4)
    call = f"optimal_threshold(singular values of noise of shape {shape})"
    assert_close(told, known, call, "the threshold for the known noise, 0.4", rtol=0.03)
    assert known > s[0], f"optimal_threshold({shape}, noise=0.4) returned {known:.4g}; noise itself reaches {s[0]:.4g}"


def test_optimal_threshold_leaves_its_values_alone():
    unchanged(optimal_threshold, S.copy(), (6, 10))


@pytest.mark.given
@pytest.mark.parametrize(
    ("shape", "noise", "named"), [((5, 10), None, "singular_values"), ((6, 10), 0.0, "noise"), ((6, 10), -1.0, "noise")]
)
def test_optimal_threshold_refuses(shape, noise, named):
    with pytest.raises(ValueError, match=named):
        optimal_threshold(S, shape, noise)


# denoise


def noisy(n_rows=120, n_cols=200, noise=0.5, seed=4):
    """Three patterns of 90, 60 and 45, beside noise that reaches 12.5: far above the threshold of some 15."""
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.normal(size=(n_rows, 3)))[0]
    v = np.linalg.qr(rng.normal(size=(n_cols, 3)))[0]
    signal = u * [90.0, 60.0, 45.0] @ v.T
    return signal, signal + noise * rng.normal(size=(n_rows, n_cols))


@pytest.mark.parametrize("noise", [0.5, None])
@pytest.mark.parametrize("turned", [False, True])
def test_denoise_keeps_the_patterns_that_are_real(noise, turned):
    a = noisy()[1].T if turned else noisy()[1]
    kept = denoise(a, noise)
    assert len(kept.s) == 3, (
        f"denoise(three patterns in noise of 0.5, shape {a.shape}, noise={noise}) kept {len(kept.s)} patterns; "
        "by (6) and (7) three are above the threshold"
    )
    assert_close(
        approximation(kept), best(a, 3), f"approximation(denoise(a, {noise}))", "equation (1)", rtol=0, atol=1e-10
    )


def test_denoise_goes_by_the_noise_that_it_is_told():
    # For noise of 2.5 the threshold is 72.6: of 90, 60 and 45, as they come out of the noise, one is above it.
    a = noisy()[1]
    kept = denoise(a, noise=2.5).s
    expected = np.linalg.svd(a, compute_uv=False)[:1]
    assert_close(kept, expected, "denoise(a, noise=2.5).s", "equation (6), with the noise that is given", rtol=RTOL)


def test_denoise_comes_near_the_signal():
    signal, a = noisy()
    before, after = np.linalg.norm(a - signal), np.linalg.norm(approximation(denoise(a)) - signal)
    assert after < before / 4, (
        f"denoise(a) is {after:.3g} away from the signal, and the noisy matrix was {before:.3g} away"
    )


def test_denoise_drops_what_is_above_the_noise_and_below_the_threshold():
    # The noise of a 150 by 150 matrix with s = 1 reaches 2 sqrt(150) = 24.5, and the threshold is 28.3. A pattern of 15.5
    # comes out near 15.5 + 150 / 15.5 = 25.2: it is there, and it is better dropped.
    rng = np.random.default_rng(5)
    a = rng.normal(size=(150, 150))
    s = np.linalg.svd(a + 15.5 * np.outer(np.ones(150), np.ones(150)) / 150, compute_uv=False)
    kept = denoise(a + 15.5 * np.outer(np.ones(150), np.ones(150)) / 150, noise=1.0)
    assert len(kept.s) == 0, (
        f"denoise(a, noise=1) kept {kept.s.round(1)} of singular values that begin with {s[:3].round(1)}; the threshold is "
        f"{4 / np.sqrt(3) * np.sqrt(150):.1f}"
    )


def test_denoise_of_noise_alone_keeps_nothing():
    kept = denoise(np.random.default_rng(6).normal(size=(60, 90)), noise=1.0)
    shapes = kept.u.shape, kept.s.shape, kept.vt.shape
    assert shapes == ((60, 0), (0,), (0, 90)), (
        f"denoise(noise, noise=1.0) returned patterns of shapes {shapes}: none is real"
    )


def test_denoise_keeps_singular_values_as_they_are():
    a = noisy()[1]
    expected = np.linalg.svd(a, compute_uv=False)[:3]
    assert_close(denoise(a, 0.5).s, expected, "denoise(a, 0.5).s", "a hard threshold", rtol=RTOL)


def test_denoise_keeps_float32():
    kept = denoise(noisy()[1].astype(np.float32))
    for name in ("u", "s", "vt"):
        dtype = getattr(kept, name).dtype
        assert dtype == np.float32, f"denoise(float32 matrix).{name} has dtype {dtype}"


def test_denoise_leaves_its_matrix_alone():
    unchanged(denoise, noisy()[1])


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "noise", "named"),
    [(np.array([[1.0, np.inf]]), None, "a"), (np.ones(3), None, "a"), (np.ones((3, 2)), 0.0, "noise")],
)
def test_denoise_refuses(a, noise, named):
    with pytest.raises(ValueError, match=named):
        denoise(a, noise)
