"""Shared tests of linalg/pca: run on the reference, and on the learner's file.

The data are seeded. The tolerances: sums over a few hundred float64 numbers are good to 1e-13 of the largest of them, and
axes to that divided by the relative gap between neighbouring singular values, which is above 1e-4 in all data below. So
variances are compared to 1e-9 and axes to 1e-8; float32 has 9 digits less.
"""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA as Oracle

from mlpath.linalg.pca import PCA, axes_by_covariance, check_samples, fix_signs
from mlpath.testing import assert_close

TALL, WIDE, LARGE = (90, 12), (25, 60), (210, 200)


def samples(n_samples, n_features, rank=None, seed=3, dtype=float):
    """A cloud away from the origin, with its axes in general directions and standard deviations from 3 down to 0.3."""
    rng = np.random.default_rng(seed)
    rank = rank or n_features
    directions = np.linalg.qr(rng.normal(size=(n_features, n_features)))[0][:rank]
    cloud = rng.normal(size=(n_samples, rank)) * np.geomspace(3, 0.3, rank)
    return (cloud @ directions + rng.normal(0, 5, n_features)).astype(dtype)


def settled(axes):
    """The signs of convention (7), row by row."""
    return np.array([row if row[np.argmax(abs(row))] > 0 else -row for row in axes])


def oracle(X, n_components=None):
    """What scikit-learn finds, with the signs of (7)."""
    found = Oracle(n_components, svd_solver="full").fit(X)
    found.components_ = settled(found.components_)
    return found


def state(*, whiten=False, dtype=float):
    """A PCA as fit could have left it, with two of three axes, made by hand."""
    pca = PCA(2, whiten=whiten)
    pca.mean_ = np.array([10.0, -20.0, 30.0], dtype)
    pca.components_ = np.array([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]], dtype)
    pca.explained_variance_ = np.array([16.0, 0.25], dtype)
    pca.explained_variance_ratio_ = pca.explained_variance_ / 17
    pca.singular_values_ = np.array([12.0, 1.5], dtype)
    pca.total_variance_ = 17.0
    pca.n_samples_seen_ = 10
    return pca


def assert_fitted_alike(pca, expected, call, because, rtol=1e-9, atol=1e-8):
    """Compare all that a fit learns, but for axes along which there is no variance and which are therefore arbitrary."""
    assert_close(pca.mean_, expected.mean_, f"{call}.mean_", "equation (1)", rtol=rtol, atol=atol)
    variances = expected.explained_variance_
    tiny = 1e-12 * variances[0]
    assert_close(pca.explained_variance_, variances, f"{call}.explained_variance_", because, rtol=rtol, atol=tiny)
    ratio = expected.explained_variance_ratio_
    assert_close(
        pca.explained_variance_ratio_, ratio, f"{call}.explained_variance_ratio_", because, rtol=rtol, atol=1e-12
    )
    values = expected.singular_values_
    assert_close(pca.singular_values_, values, f"{call}.singular_values_", because, rtol=rtol, atol=1e-12 * values[0])
    distinct = variances > 1e-9 * variances[0]
    n_axes = pca.components_.shape
    assert n_axes == expected.components_.shape, f"{call}.components_ has shape {n_axes}, expected one axis a row"
    axes = pca.components_[distinct]
    assert_close(axes, expected.components_[distinct], f"{call}.components_", because, rtol=0, atol=atol)


# fix_signs


def test_fix_signs_makes_the_largest_entry_of_each_axis_positive():
    axes = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [-0.48, -0.6, -0.64], [0.48, 0.36, -0.8]])
    expected = np.array([[-0.6, 0.8, 0.0], [0.8, 0.6, 0.0], [0.48, 0.6, 0.64], [-0.48, -0.36, 0.8]])
    assert_close(fix_signs(axes), expected, f"fix_signs({axes.tolist()})", "convention (7)")


def test_fix_signs_lets_the_first_of_equal_entries_count():
    axes = np.array([[-0.5, 0.5, 0.5, -0.5], [0.5, -0.5, -0.5, -0.5]])
    expected = np.array([[0.5, -0.5, -0.5, 0.5], [0.5, -0.5, -0.5, -0.5]])
    assert_close(fix_signs(axes), expected, f"fix_signs({axes.tolist()})", "convention (7), ties")


def test_fix_signs_returns_each_of_many_axes_or_its_negative():
    axes = np.random.default_rng(0).normal(size=(30, 17))
    assert_close(fix_signs(axes), settled(axes), "fix_signs of 30 random rows", "convention (7)")
    assert_close(fix_signs(-axes), settled(axes), "fix_signs of their negatives", "convention (7)")


def test_fix_signs_leaves_a_row_of_zeros_alone():
    axes = np.array([[0.0, 0.0], [0.0, -1.0]])
    assert_close(fix_signs(axes), np.array([[0.0, 0.0], [0.0, 1.0]]), "fix_signs([[0, 0], [0, -1]])", "convention (7)")


def test_fix_signs_neither_changes_its_argument_nor_its_precision():
    axes = np.array([[0.6, -0.8]], np.float32)
    fixed = fix_signs(axes)
    assert fixed.dtype == np.float32, f"fix_signs of float32 axes returned {fixed.dtype}"
    assert axes[0, 0] > 0, "fix_signs changed the array that it was given"


# check_samples


@pytest.mark.parametrize(
    ("X", "dtype"),
    [
        ([[1, 2], [3, 4], [5, 6]], np.float64),
        (np.array([[1, 2]], np.int8), np.float64),
        (np.array([[True], [False]]), np.float64),
        (np.array([[1.5, -2.0]], np.float16), np.float64),
        (np.array([[1.5, -2.0]], np.float32), np.float32),
        (np.array([[1.5], [-2.0]]), np.float64),
    ],
)
def test_check_samples_returns_the_numbers_as_floats(X, dtype):
    checked = check_samples(X)
    call = f"check_samples({X!r})"
    assert isinstance(checked, np.ndarray), f"{call} returned {type(checked).__name__}, expected an array"
    assert checked.dtype == dtype, f"{call} returned {checked.dtype}, expected {np.dtype(dtype)}"
    assert_close(checked, np.array(X, float), call, "its docstring: the same numbers")


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1.0, np.nan], [3.0, 4.0]]),
        np.array([[1.0, 2.0], [np.inf, 4.0]]),
        np.array([[-np.inf]]),
        np.array([1.0, 2.0]),
        np.zeros((2, 2, 2)),
        np.float64(1.0),
        np.zeros((0, 3)),
        np.zeros((3, 0)),
        np.array([[1.0 + 2.0j]]),
        [["a", "b"]],
    ],
    ids=["nan", "inf", "-inf", "1 axis", "3 axes", "no axes", "no rows", "no columns", "complex", "text"],
)
def test_check_samples_refuses_what_is_no_matrix_of_finite_numbers(X):
    with pytest.raises(ValueError, match=r"^X must"):
        check_samples(X)


def test_check_samples_counts_the_rows():
    X = np.ones((3, 2))
    assert check_samples(X, min_samples=3).shape == (3, 2), "check_samples refused 3 rows, with min_samples=3"
    with pytest.raises(ValueError, match=r"^X must.*3"):
        check_samples(X, min_samples=4)


def test_check_samples_counts_the_columns():
    X = np.ones((5, 3))
    assert check_samples(X, n_features=3).shape == (5, 3), "check_samples refused 3 columns, with n_features=3"
    for n_features in (2, 4):
        with pytest.raises(ValueError, match=r"^X must.*3"):
            check_samples(X, n_features=n_features)


def test_check_samples_leaves_its_argument_alone():
    X = np.array([[1, 2], [3, 4]])
    check_samples(X)[0, 0] = 9
    assert X[0, 0] == 1, "check_samples handed out an array of integers that is X itself"


# axes_by_covariance


def test_axes_by_covariance_finds_the_axes_of_four_points():
    # Around (1, 2), 10 steps to either side along (5, 12) / 13, and 1 step along (12, -5) / 13.
    X = np.array([1.0, 2.0]) + np.array([[50, 120], [-50, -120], [12, -5], [-12, 5]]) / 13
    axes, variances = axes_by_covariance(X)
    assert_close(variances, np.array([200 / 3, 2 / 3]), "axes_by_covariance(four points)[1]", "equations (1) and (3)")
    expected = np.array([[5, 12], [12, -5]]) / 13
    assert_close(axes, expected, "axes_by_covariance(four points)[0]", "equations (3) and (7)", atol=1e-12)


@pytest.mark.parametrize("shape", [TALL, WIDE, (2, 3)])
def test_axes_by_covariance_solves_the_eigenvalue_equation(shape):
    X = samples(*shape)
    axes, variances = axes_by_covariance(X)
    call = f"axes_by_covariance(X) of shape {shape}"
    covariance = np.cov(X.T)
    assert_close(covariance @ axes.T, axes.T * variances, f"C v for the axes of {call}", "equation (3)", atol=1e-9)
    assert_close(axes @ axes.T, np.eye(shape[1]), f"the products of the axes of {call}", "orthonormal axes", atol=1e-9)
    assert_close(variances.sum(), np.trace(covariance), f"the sum of the variances of {call}", "the trace of (1)")


def test_axes_by_covariance_sorts_by_falling_variance_and_settles_the_signs():
    axes, variances = axes_by_covariance(samples(*TALL))
    assert (np.diff(variances) <= 0).all(), f"axes_by_covariance returned the variances {variances}, not falling"
    assert_close(axes, settled(axes), "axes_by_covariance(X)[0]", "convention (7)")


def test_axes_by_covariance_returns_no_negative_variance():
    for seed in range(5):  # of 85 zeros, rounding turns about half below zero, whatever the library beneath
        _, variances = axes_by_covariance(samples(30, 20, rank=3, seed=seed))
        assert (variances >= 0).all(), f"axes_by_covariance returned the variances {variances} of data in 3 dimensions"
        call = "all variances but 3 of data in 3 dimensions"
        assert_close(variances[3:], np.zeros(17), call, "equation (2)", atol=1e-11)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_axes_by_covariance_works_on_tiny_and_huge_samples(scale):
    X = samples(*TALL)
    (axes, variances), (expected, unscaled) = axes_by_covariance(X * scale), axes_by_covariance(X)
    call = f"axes_by_covariance({scale:g} * X)"
    assert_close(axes, expected, f"{call}[0]", "those of X", atol=1e-8)
    assert_close(variances, unscaled * scale**2, f"{call}[1]", "those of X times the scale squared", rtol=1e-9)
    assert unscaled[0] > 1, f"axes_by_covariance(X)[1] begins with {unscaled[0]}, expected about 9"


def test_axes_by_covariance_keeps_float32_and_leaves_its_samples_alone():
    X = samples(*TALL, dtype=np.float32)
    before = X.copy()
    axes, variances = axes_by_covariance(X)
    kinds = {axes.dtype, variances.dtype}
    assert kinds == {np.dtype(np.float32)}, f"axes_by_covariance of float32 samples returned {kinds}"
    assert np.array_equal(X, before), "axes_by_covariance changed the samples that it was given"


@pytest.mark.parametrize("X", [np.ones((1, 3)), np.array([[1.0, np.nan], [2.0, 3.0]]), np.ones(4)])
def test_axes_by_covariance_refuses_what_check_samples_refuses_and_a_single_sample(X):
    with pytest.raises(ValueError, match=r"^X must"):
        axes_by_covariance(X)


# PCA.fit


@pytest.mark.given
def test_fit_uses_the_parameters_that_init_stored():
    pca = PCA(3, whiten=True)
    assert (pca.n_components, pca.whiten) == (3, True), "PCA(3, whiten=True) did not store its parameters"


def test_fit_learns_the_axes_of_four_points():
    X = np.array([1.0, 2.0]) + np.array([[50, 120], [-50, -120], [12, -5], [-12, 5]]) / 13
    pca = PCA()
    returned = pca.fit(X)
    assert returned is pca, f"PCA().fit(X) returned {returned!r}, expected the PCA itself"
    call = "PCA().fit(four points)"
    assert_close(pca.mean_, np.array([1.0, 2.0]), f"{call}.mean_", "equation (1)")
    assert_close(pca.singular_values_, np.sqrt([200.0, 2.0]), f"{call}.singular_values_", "equation (4)")
    assert_close(pca.explained_variance_, np.array([200, 2]) / 3, f"{call}.explained_variance_", "equation (5)")
    assert_close(pca.total_variance_, 202 / 3, f"{call}.total_variance_", "the sum in equation (6)")
    ratio = pca.explained_variance_ratio_
    assert_close(ratio, np.array([200, 2]) / 202, f"{call}.explained_variance_ratio_", "equation (6)")
    expected = np.array([[5, 12], [12, -5]]) / 13
    assert_close(pca.components_, expected, f"{call}.components_", "equations (4) and (7)", atol=1e-12)
    assert pca.n_samples_seen_ == 4, f"{call}.n_samples_seen_ is {pca.n_samples_seen_}, expected 4"


@pytest.mark.parametrize("n_components", [None, 1, 5])
@pytest.mark.parametrize("shape", [TALL, WIDE, (20, 20)])
def test_fit_agrees_with_scikit_learn(shape, n_components):
    X = samples(*shape)
    call = f"PCA({n_components}).fit(X of shape {shape})"
    pca, expected = PCA(n_components).fit(X), oracle(X, n_components)
    assert_fitted_alike(pca, expected, call, "scikit-learn")
    total = np.cov(X.T).trace()
    assert_close(pca.total_variance_, total, f"{call}.total_variance_", "the trace of (1)")


@pytest.mark.parametrize("shape", [LARGE, (2, 7)])
def test_fit_agrees_with_scikit_learn_on_many_features_and_on_two_samples(shape):
    X = samples(*shape)
    assert_fitted_alike(PCA().fit(X), oracle(X), f"PCA().fit(X of shape {shape})", "scikit-learn")


@pytest.mark.parametrize("load", [load_wine, load_digits])
def test_fit_agrees_with_scikit_learn_on_real_data(load):
    X = load().data[:178]
    call = f"PCA(10).fit({load.__name__}().data[:178])"
    assert_fitted_alike(PCA(10).fit(X), oracle(X, 10), call, "scikit-learn")


def test_fit_returns_orthonormal_axes_by_falling_variance_with_settled_signs():
    pca = PCA().fit(samples(*WIDE))
    axes = pca.components_
    assert_close(axes @ axes.T, np.eye(25), "the products of PCA().fit(X).components_", "orthonormal axes", atol=1e-9)
    assert_close(axes, settled(axes), "PCA().fit(X).components_", "convention (7)")
    assert (np.diff(pca.explained_variance_) <= 0).all(), "PCA().fit(X).explained_variance_ is not falling"


def test_fit_tells_small_deviations_apart_that_the_covariance_loses():
    rng = np.random.default_rng(1)
    cloud = rng.normal(size=(50, 4))
    scores = np.linalg.qr(cloud - cloud.mean(axis=0))[0]  # orthonormal columns that sum to zero
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    expected = np.array([1.0, 1e-2, 1e-9, 1e-10])
    X = scores * expected @ rotation
    found = PCA().fit(X).singular_values_
    why = "as X itself is rounded to 1e-16, which is 1e-6 of its smallest deviation"
    call, because = "PCA().fit(X).singular_values_", "equation (4), by the SVD of X_c"
    assert_close(found, expected, call, because, rtol=1e-4, tolerance=why)


def test_fit_gives_no_share_to_axes_of_equal_samples():
    pca = PCA().fit(np.full((6, 4), 0.1))
    assert_close(pca.explained_variance_, np.zeros(4), "PCA().fit(equal samples).explained_variance_", atol=1e-30)
    ratio = PCA().fit(np.full((6, 4), 0.5)).explained_variance_ratio_
    assert_close(
        ratio, np.zeros(4), "PCA().fit(equal samples).explained_variance_ratio_", "equation (6), for no variance"
    )


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_fit_works_on_tiny_and_huge_samples(scale):
    X = samples(*TALL)
    scaled, expected = PCA().fit(X * scale), PCA().fit(X)
    call = f"PCA().fit({scale:g} * X)"
    assert_close(scaled.components_, expected.components_, f"{call}.components_", "those of X", atol=1e-8)
    variances = expected.explained_variance_ * scale**2
    assert_close(
        scaled.explained_variance_, variances, f"{call}.explained_variance_", "those of X times the scale squared"
    )
    ratio = expected.explained_variance_ratio_
    assert_close(scaled.explained_variance_ratio_, ratio, f"{call}.explained_variance_ratio_", "those of X")
    assert 0 < ratio[0] < 1, f"PCA().fit(X).explained_variance_ratio_ begins with {ratio[0]}"


def test_fit_keeps_float32_and_its_digits_over_many_samples_far_from_the_origin():
    rng = np.random.default_rng(2)
    X = (rng.normal(size=(20_000, 3)) * [1.0, 0.5, 0.1] + 1000.0).astype(np.float32)
    pca, expected = PCA().fit(X), PCA().fit(X.astype(float))
    for name in ("mean_", "components_", "explained_variance_", "explained_variance_ratio_", "singular_values_"):
        found = getattr(pca, name)
        assert found.dtype == np.float32, f"PCA().fit(float32 samples).{name} is {found.dtype}"
        why = "as a float32 is good to 6e-8, and a sum over 20,000 of them to some 1e-5"
        call = f"PCA().fit(20,000 float32 samples around 1000).{name}"
        assert_close(found, getattr(expected, name), call, "the same in float64", rtol=1e-4, atol=1e-4, tolerance=why)


def test_fit_forgets_an_earlier_fit():
    pca = PCA().fit(samples(*WIDE, seed=8))
    X = samples(*TALL)
    assert_fitted_alike(pca.fit(X), oracle(X), "PCA().fit(other samples).fit(X)", "scikit-learn")
    assert pca.n_samples_seen_ == 90, f"after a second fit, of 90 samples, n_samples_seen_ is {pca.n_samples_seen_}"


@pytest.mark.parametrize("n_components", [0, -1, 13, 2.5, np.nan])
def test_fit_refuses_a_number_of_components_that_cannot_be(n_components):
    with pytest.raises(ValueError, match="n_components"):
        PCA(n_components).fit(samples(*TALL))


@pytest.mark.parametrize("X", [np.ones((1, 3)), np.array([[1.0, np.inf], [2.0, 3.0]]), np.ones(4)])
def test_fit_refuses_what_check_samples_refuses_and_a_single_sample(X):
    with pytest.raises(ValueError, match=r"^X must"):
        PCA().fit(X)


def test_fit_takes_whole_numbers_and_leaves_them_alone():
    X = np.round(samples(*TALL)).astype(int)
    before = X.copy()
    assert_fitted_alike(PCA(3).fit(X), oracle(X.astype(float), 3), "PCA(3).fit(whole numbers)", "scikit-learn")
    assert np.array_equal(X, before), "PCA.fit changed the samples that it was given"


# PCA.transform


def test_transform_returns_the_coordinates_along_the_axes():
    X = np.array([[10.0, -20.0, 30.0], [13.0, -16.0, 30.5], [18.0, -26.0, 28.0]])
    # Deviations from the mean: (0, 0, 0), (3, 4, 0.5), (8, -6, -2).
    expected = np.array([[0, 0], [5, 0.5], [0, -2.0]])
    call = "PCA.transform of 3 samples around the mean (10, -20, 30), axes (0.6, 0.8, 0) and (0, 0, 1)"
    assert_close(state().transform(X), expected, call, "equation (8)", atol=1e-12)


def test_transform_whitens_by_the_standard_deviations():
    X = np.array([[10.0, -20.0, 30.0], [13.0, -16.0, 30.5], [18.0, -26.0, 28.0]])
    expected = np.array([[0, 0], [1.25, 1], [0, -4.0]])
    call = "PCA(whiten=True).transform of 3 samples with the scores (0, 0), (5, 0.5), (0, -2) and variances 16 and 0.25"
    assert_close(state(whiten=True).transform(X), expected, call, "equation (9)", atol=1e-12)


@pytest.mark.parametrize("whiten", [False, True])
def test_transform_treats_a_new_sample_as_if_it_came_alone(whiten):
    X = samples(7, 3)
    together = state(whiten=whiten).transform(X)
    alone = np.concatenate([state(whiten=whiten).transform(X[i : i + 1]) for i in range(7)])
    assert_close(together, alone, f"PCA(whiten={whiten}).transform(7 samples)", "transform one by one", atol=1e-10)


@pytest.mark.parametrize("shape", [TALL, WIDE])
def test_transform_makes_whitened_training_data_white(shape):
    X = samples(*shape)
    scores = PCA(5, whiten=True).fit(X).transform(X)
    call = f"the covariance of PCA(5, whiten=True).transform(X) of shape {shape}"
    assert_close(np.cov(scores.T), np.eye(5), call, "equation (9): the identity", atol=1e-9)


@pytest.mark.parametrize("whiten", [False, True])
def test_transform_agrees_with_scikit_learn(whiten):
    X = load_wine().data
    scores = PCA(4, whiten=whiten).fit(X).transform(X[:50])
    expected = Oracle(4, whiten=whiten, svd_solver="full").fit(X).transform(X[:50])
    expected *= np.sign((expected * scores).sum(axis=0))  # (7) has been tested before
    assert_close(scores, expected, f"PCA(4, whiten={whiten}).fit(wine).transform", "scikit-learn", atol=1e-8)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("shape", [(40, 10), (8, 30)])
def test_transform_whitens_an_axis_without_variance_to_zero(shape, scale):
    X = samples(*shape, rank=3) * scale
    scores = PCA(5, whiten=True).fit(X).transform(X)
    call = "the covariance of PCA(5, whiten=True).transform of data in 3 dimensions"
    expected = np.diag([1, 1, 1, 0, 0])
    assert_close(np.cov(scores.T), expected, call, "equation (9), with 0 for an axis without variance", atol=1e-9)


def test_transform_keeps_float32_and_leaves_its_samples_alone():
    for whiten in (False, True):
        X = np.array([[13.0, -16.0, 30.5]], np.float32)
        scores = state(whiten=whiten, dtype=np.float32).transform(X)
        assert scores.dtype == np.float32, f"PCA(whiten={whiten}).transform of float32 returned {scores.dtype}"
        assert X[0, 0] == 13, "PCA.transform changed the samples that it was given"


@pytest.mark.parametrize("X", [np.ones((2, 4)), np.ones(3), np.array([[1.0, 2.0, np.nan]]), np.ones((0, 3))])
def test_transform_refuses_what_check_samples_refuses_and_other_features(X):
    with pytest.raises(ValueError, match=r"^X must"):
        state().transform(X)


@pytest.mark.given
def test_transform_refuses_to_work_before_fit():
    with pytest.raises(ValueError, match="fit"):
        PCA().transform(np.ones((2, 3)))
    with pytest.raises(ValueError, match="fit"):
        PCA().inverse_transform(np.ones((2, 3)))


def test_transform_and_fit_together_are_fit_transform():
    X = samples(*TALL)
    expected = PCA(3).fit(X).transform(X)
    assert_close(PCA(3).fit_transform(X), expected, "PCA(3).fit_transform(X)", "fit, then transform", atol=1e-12)
    assert expected.std() > 0.1, "PCA(3).fit(X).transform(X) is nearly constant"


# PCA.inverse_transform


def test_inverse_transform_mixes_the_axes_and_adds_the_mean():
    scores = np.array([[0, 0], [5, 0.5], [-10, 2.0]])
    expected = np.array([[10, -20, 30], [13, -16, 30.5], [4, -28, 32]])
    call = "PCA.inverse_transform([[0, 0], [5, 0.5], [-10, 2]]), mean (10, -20, 30), axes (0.6, 0.8, 0) and (0, 0, 1)"
    assert_close(state().inverse_transform(scores), expected, call, "equation (10)", atol=1e-12)


def test_inverse_transform_undoes_the_whitening_first():
    scores = np.array([[0, 0], [1.25, 1], [-2.5, 4.0]])
    expected = np.array([[10, -20, 30], [13, -16, 30.5], [4, -28, 32]])
    call = "PCA(whiten=True).inverse_transform([[0, 0], [1.25, 1], [-2.5, 4]]), deviations 4 and 0.5"
    assert_close(state(whiten=True).inverse_transform(scores), expected, call, "equations (9) and (10)", atol=1e-12)


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("shape", [TALL, WIDE])
def test_inverse_transform_returns_the_samples_if_all_axes_are_kept(shape, whiten):
    X = samples(*shape)
    pca = PCA(whiten=whiten).fit(X)
    call = f"PCA(whiten={whiten}) there and back, X of shape {shape}"
    assert_close(pca.inverse_transform(pca.transform(X)), X, call, "equation (10)", atol=1e-9)


def test_inverse_transform_leaves_out_only_the_variance_of_the_axes_that_were_dropped():
    X = samples(*TALL)
    pca = PCA(4).fit(X)
    error = ((pca.inverse_transform(pca.transform(X)) - X) ** 2).sum() / (len(X) - 1)
    expected = np.linalg.eigvalsh(np.cov(X.T))[:-4].sum()
    assert_close(error, expected, "the squared error of PCA(4) there and back", "the variances of the other 8 axes")


def test_inverse_transform_keeps_float32_and_leaves_its_scores_alone():
    for whiten in (False, True):
        scores = np.ones((3, 2), np.float32)
        X = state(whiten=whiten, dtype=np.float32).inverse_transform(scores)
        assert X.dtype == np.float32, f"PCA(whiten={whiten}).inverse_transform of float32 returned {X.dtype}"
        assert (scores == 1).all(), "PCA.inverse_transform changed the scores that it was given"


@pytest.mark.given
@pytest.mark.parametrize("scores", [np.ones((2, 3)), np.ones(2), np.array([[1.0, np.nan]])])
def test_inverse_transform_refuses_scores_that_are_none(scores):
    with pytest.raises(ValueError, match="scores"):
        state().inverse_transform(scores)


# PCA.partial_fit


def test_partial_fit_updates_four_points_by_a_fifth():
    X = np.array([1.0, 2.0]) + np.array([[50, 120], [-50, -120], [12, -5], [-12, 5]]) / 13
    pca = PCA().fit(X)
    returned = pca.partial_fit(np.array([[1.0, 7.0]]))
    assert returned is pca, f"PCA.partial_fit returned {returned!r}, expected the PCA itself"
    call = "PCA().fit(four points).partial_fit([[1, 7]])"
    assert_close(pca.mean_, np.array([1.0, 3.0]), f"{call}.mean_", "equation (11)")
    assert_close(pca.total_variance_, 222 / 4, f"{call}.total_variance_", "equation (12): its trace, over n - 1")
    assert pca.n_samples_seen_ == 5, f"{call}.n_samples_seen_ is {pca.n_samples_seen_}, expected 5"
    assert_fitted_alike(pca, oracle(np.vstack([X, [[1.0, 7.0]]])), call, "fit on all five")


@pytest.mark.parametrize(
    ("shape", "cuts"),
    [(TALL, [40]), (TALL, [2, 3, 50, 89]), (WIDE, [5, 6, 20]), ((80, 60), [30, 55]), ((150, 120), [100])],
)
def test_partial_fit_in_batches_is_fit_on_all_samples(shape, cuts):
    X = samples(*shape)
    X[: cuts[0]] += 3.0  # so that the batches have different means
    pca = PCA()
    for batch in np.split(X, cuts):
        pca.partial_fit(batch)
    call = f"PCA().partial_fit in batches cut at {cuts}, of samples of shape {shape}"
    assert_fitted_alike(pca, oracle(X), call, "fit on all samples")
    assert_close(pca.total_variance_, np.cov(X.T).trace(), f"{call}.total_variance_", "the trace of (1)")
    assert pca.n_samples_seen_ == len(X), f"{call}.n_samples_seen_ is {pca.n_samples_seen_}, expected {len(X)}"


def test_partial_fit_begins_with_fit_and_goes_on_after_it():
    X = samples(*TALL)
    begun = PCA(5).partial_fit(X)
    assert_fitted_alike(begun, oracle(X, 5), "PCA(5).partial_fit(X)", "fit, for the first batch")
    continued = PCA().fit(X[:50]).partial_fit(X[50:])
    assert_fitted_alike(continued, oracle(X), "PCA().fit(X[:50]).partial_fit(X[50:])", "fit on all samples")


def test_partial_fit_is_exact_with_few_axes_if_the_data_have_no_more():
    X = samples(70, 15, rank=4)
    pca = PCA(4)
    for batch in np.split(X, [10, 30, 31]):
        pca.partial_fit(batch)
    assert_fitted_alike(
        pca, oracle(X, 4), "PCA(4).partial_fit in 4 batches of data in 4 dimensions", "fit on all samples"
    )


def test_partial_fit_with_few_axes_keeps_mean_and_total_variance_exact():
    X = samples(*TALL)
    X[:30] += 3.0
    pca = PCA(3)
    for batch in np.split(X, [30, 31, 70]):
        pca.partial_fit(batch)
    expected = oracle(X, 3)
    call = "PCA(3).partial_fit in 4 batches"
    assert_close(pca.mean_, expected.mean_, f"{call}.mean_", "equation (11)")
    assert_close(
        pca.total_variance_, np.cov(X.T).trace(), f"{call}.total_variance_", "the sum in (6), with what was dropped"
    )
    ratio = pca.explained_variance_ / pca.total_variance_
    assert_close(pca.explained_variance_ratio_, ratio, f"{call}.explained_variance_ratio_", "equation (6)")
    assert pca.components_.shape == (3, 12), f"{call}.components_ has shape {pca.components_.shape}, expected (3, 12)"
    # What three axes have lost can only lower the variances, and these data lose about 1 %.
    share = pca.explained_variance_ / expected.explained_variance_
    assert ((share > 0.8) & (share < 1 + 1e-9)).all(), f"{call} found {share} of the variances that fit finds"


def test_partial_fit_keeps_float32_and_leaves_its_batch_alone():
    X = samples(*TALL, dtype=np.float32)
    pca, second = PCA().fit(X[:50]), X[50:].copy()
    pca.partial_fit(second)
    assert np.array_equal(second, X[50:]), "PCA.partial_fit changed the batch that it was given"
    for name in ("mean_", "components_", "explained_variance_", "singular_values_"):
        found = getattr(pca, name).dtype
        assert found == np.float32, f"after partial_fit of float32 samples, {name} is {found}"


def test_partial_fit_refuses_a_bad_batch_and_forgets_nothing_over_it():
    X = samples(*TALL)
    pca = PCA().partial_fit(X)
    for bad in (np.ones((2, 11)), np.full((2, 12), np.nan), np.ones(12)):
        with pytest.raises(ValueError, match=r"^X must"):
            pca.partial_fit(bad)
    assert_fitted_alike(pca, oracle(X), "PCA after refusing a batch", "what it was before")


def test_partial_fit_refuses_a_first_batch_that_fit_refuses():
    with pytest.raises(ValueError, match=r"^X must"):
        PCA().partial_fit(np.ones((1, 3)))
    with pytest.raises(ValueError, match="n_components"):
        PCA(4).partial_fit(samples(3, 12))
