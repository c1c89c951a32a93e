"""Shared tests of linalg/kernel_pca: run on the reference, and on the learner's file.

Kernels and centring are sums of a few products: a thousand roundings. Scores divide by the root of an eigenvalue that is here at least a
thousandth of the largest, which leaves 1e-9. The oracles are kernels whose features can be written out, PCA, and scikit-learn.
"""

import numpy as np
import pytest
import sklearn.decomposition
import sklearn.metrics.pairwise
from sklearn.datasets import load_digits, load_iris

from mlpath.linalg.kernel_pca import KernelPCA, centre_gram, centre_rows, polynomial_kernel, rbf_kernel
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-11, "atol": 1e-12, "tolerance": "nothing but rounding separates them"}
SCORES = {"rtol": 1e-8, "atol": 1e-9, "tolerance": "small eigenvalues are divided by"}
X = np.array([[0.7, -1.2], [2.1, 0.3], [-1.6, 0.8], [0.2, 0.5], [1.4, 2.6]])
Z = np.array([[0.4, 0.9], [-0.8, 1.3], [2.2, -0.7]])


def radial(gamma):
    return lambda x, y: rbf_kernel(x, y, gamma=gamma)


def cubic(x, y):
    return polynomial_kernel(x, y, degree=3, gamma=0.3, coef0=1.0)


def leaves_alone(function, *arguments):
    copies = [a.copy() for a in arguments]
    function(*copies)
    for copy, argument in zip(copies, arguments, strict=True):
        assert np.array_equal(copy, argument), f"{function.__name__} changed its arguments"


def keeps_single_precision(function, *arguments):
    got = function(*(a.astype(np.float32) for a in arguments)).dtype
    assert got == np.float32, f"{function.__name__} of float32 returned {got}, expected float32"


# polynomial_kernel


def test_polynomial_kernel_by_hand():
    got = polynomial_kernel(
        np.array([[1.3, -0.4]]), np.array([[2.0, 0.5], [-1.0, 3.0]]), degree=3, gamma=0.5, coef0=0.8
    )
    expected = [[(0.5 * 2.4 + 0.8) ** 3, (0.5 * -2.5 + 0.8) ** 3]]
    assert_close(got, expected, "polynomial_kernel(x, y, degree=3, gamma=0.5, coef0=0.8)", "equation (1)", **ROUNDING)


def test_polynomial_kernel_has_a_row_for_each_x():
    got = polynomial_kernel(X, Z)
    assert_close(got, [[x @ z for z in Z] for x in X], "polynomial_kernel(X, Z)", "x'z, (1) by default", **ROUNDING)


def test_polynomial_kernel_is_a_product_of_features():
    def features(x):
        a, b = np.sqrt(0.6) * x.T
        return np.stack(
            [a**2, b**2, np.sqrt(2) * a * b, np.sqrt(2 * 1.7) * a, np.sqrt(2 * 1.7) * b, 1.7 + 0 * a], axis=1
        )

    got = polynomial_kernel(X, Z, degree=2, gamma=0.6, coef0=1.7)
    expected = features(X) @ features(Z).T
    assert_close(got, expected, "polynomial_kernel(X, Z, 2, 0.6, 1.7)", "products of all its features", **ROUNDING)


def test_polynomial_kernel_keeps_to_its_arguments():
    leaves_alone(polynomial_kernel, X, Z)
    keeps_single_precision(lambda x, y: polynomial_kernel(x, y, 3, 0.5, 1.0), X, Z)


@pytest.mark.given
@pytest.mark.parametrize(
    ("y", "options", "named"),
    [
        (np.ones((2, 3)), {}, "y must"),
        (np.full((2, 2), np.nan), {}, "y must"),
        (Z, {"degree": 0}, "degree must"),
        (Z, {"degree": 1.5}, "degree must"),
        (Z, {"gamma": 0.0}, "gamma must"),
        (Z, {"coef0": -0.1}, "coef0 must"),
    ],
)
def test_polynomial_kernel_refuses(y, options, named):
    with pytest.raises(ValueError, match=named):
        polynomial_kernel(X, y, **options)


# rbf_kernel


def test_rbf_kernel_by_hand():
    got = rbf_kernel(np.array([[1.3, -0.4]]), np.array([[2.0, 0.5], [1.3, -0.4]]), gamma=0.7)
    expected = [[np.exp(-0.7 * (0.7**2 + 0.9**2)), 1.0]]
    assert_close(got, expected, "rbf_kernel([[1.3, -0.4]], [[2, 0.5], [1.3, -0.4]], gamma=0.7)", "(2)", **ROUNDING)


@pytest.mark.parametrize("gamma", [0.01, 1.0, 30.0])
def test_rbf_kernel_agrees_with_scikit_learn(gamma):
    iris = load_iris().data
    expected = sklearn.metrics.pairwise.rbf_kernel(iris[::3], iris[1::4], gamma=gamma)
    got = rbf_kernel(iris[::3], iris[1::4], gamma=gamma)
    assert_close(got, expected, f"rbf_kernel(iris, iris, gamma={gamma})", "scikit-learn", rtol=1e-9)


def test_rbf_kernel_is_never_above_one():
    x = np.random.default_rng(0).normal(size=(60, 7))
    got = rbf_kernel(x, x, gamma=1e6)
    assert got.max() <= 1, f"rbf_kernel has an entry of 1 + {got.max() - 1:.1e}: squared distances must not be negative"


def test_rbf_kernel_far_from_the_origin():
    far = np.array([1e7, -3e7])
    x = X + far
    got = rbf_kernel(x, x[::-1], gamma=0.7)
    expected = rbf_kernel(x - far, x[::-1] - far, gamma=0.7)
    call = "rbf_kernel(X + (10^7, -3 10^7), ...)"
    assert_close(
        got, expected, call, "the same: only distances count", rtol=1e-6, tolerance="adding 10^7 rounds at 1e-9"
    )


def test_rbf_kernel_keeps_to_its_arguments():
    leaves_alone(rbf_kernel, X, Z)
    keeps_single_precision(lambda x, y: rbf_kernel(x, y, 0.7), X, Z)


@pytest.mark.given
@pytest.mark.parametrize(
    ("y", "gamma", "named"),
    [
        (np.ones((2, 3)), 1.0, "y must"),
        (np.full((2, 2), np.inf), 1.0, "y must"),
        (Z, 0.0, "gamma must"),
        (Z, -1.0, "gamma must"),
    ],
)
def test_rbf_kernel_refuses(y, gamma, named):
    with pytest.raises(ValueError, match=named):
        rbf_kernel(X, y, gamma)


# centre_gram


def test_centre_gram_by_hand():
    gram = np.array([[2.0, 0.5, 1.1], [0.5, 3.0, -0.4], [1.1, -0.4, 1.0]])
    expected = 2.0 - 2 * 3.6 / 3 + 8.4 / 9
    assert_close(centre_gram(gram)[0, 0], expected, "centre_gram(gram)[0, 0]", "equation (5)", **ROUNDING)
    expected = 0.5 - 3.6 / 3 - 3.1 / 3 + 8.4 / 9
    assert_close(centre_gram(gram)[0, 1], expected, "centre_gram(gram)[0, 1]", "equation (5)", **ROUNDING)


def test_centre_gram_of_a_linear_kernel_is_that_of_centred_samples():
    centred = X - X.mean(axis=0)
    got = centre_gram(X @ X.T)
    assert_close(got, centred @ centred.T, "centre_gram(X X')", "the products of centred samples", **ROUNDING)


def test_centre_gram_makes_sums_vanish():
    got = centre_gram(rbf_kernel(X, X, 0.4))
    for axis in (0, 1):
        assert_close(got.sum(axis=axis), np.zeros(5), f"centre_gram(gram).sum(axis={axis})", "0", **ROUNDING)


def test_centre_gram_keeps_to_its_argument():
    leaves_alone(centre_gram, cubic(X, X))
    keeps_single_precision(centre_gram, cubic(X, X))


@pytest.mark.given
@pytest.mark.parametrize("gram", [np.ones((2, 3)), np.array([[1.0, 2.0], [0.0, 1.0]]), np.full((2, 2), np.nan)])
def test_centre_gram_refuses(gram):
    with pytest.raises(ValueError, match="gram must"):
        centre_gram(gram)


# centre_rows


def test_centre_rows_by_hand():
    gram = np.array([[2.0, 0.5, 1.1], [0.5, 3.0, -0.4], [1.1, -0.4, 1.0]])
    got = centre_rows(np.array([[0.9, 1.4, -0.2]]), gram)
    expected = np.array([[0.9, 1.4, -0.2]]) - 2.1 / 3 - np.array([3.6, 3.1, 1.7]) / 3 + 8.4 / 9
    assert_close(got, expected, "centre_rows([[0.9, 1.4, -0.2]], gram)", "equation (6)", **ROUNDING)


def test_centre_rows_of_old_samples_is_centre_gram():
    gram = rbf_kernel(X, X, 0.4)
    assert_close(centre_rows(gram, gram), centre_gram(gram), "centre_rows(gram, gram)", "centre_gram(gram)", **ROUNDING)


def test_centre_rows_of_a_linear_kernel():
    mean = X.mean(axis=0)
    got = centre_rows(Z @ X.T, X @ X.T)
    assert_close(got, (Z - mean) @ (X - mean).T, "centre_rows(Z X', X X')", "Z and X less the mean of X", **ROUNDING)


def test_centre_rows_treats_each_row_by_itself():
    gram, rows = cubic(X, X), cubic(Z, X)
    together = centre_rows(rows, gram)
    for i in range(3):
        call = f"row {i} of centre_rows(three rows, gram)"
        assert_close(together[i], centre_rows(rows[i : i + 1], gram)[0], call, "that row alone", **ROUNDING)


def test_centre_rows_keeps_to_its_arguments():
    leaves_alone(centre_rows, cubic(Z, X), cubic(X, X))
    keeps_single_precision(centre_rows, cubic(Z, X), cubic(X, X))


@pytest.mark.given
def test_centre_rows_refuses():
    with pytest.raises(ValueError, match="rows must"):
        centre_rows(np.ones((2, 4)), np.eye(3))
    with pytest.raises(ValueError, match="gram must"):
        centre_rows(np.ones((2, 3)), np.triu(np.ones((3, 3))))


# fit


def test_fit_with_the_linear_kernel_finds_the_variances_of_pca():
    x = load_iris().data[::2]
    model = KernelPCA(n_components=3).fit(x)
    expected = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[:3] ** 2
    assert_close(
        model.eigenvalues_, expected, "KernelPCA(3).fit(iris).eigenvalues_", "squared singular values", **SCORES
    )


def test_fit_makes_axes_of_length_one():
    model = KernelPCA(n_components=3, kernel=radial(0.4)).fit(X)
    centred = centre_gram(rbf_kernel(X, X, 0.4))
    got = model.alphas_.T @ centred @ model.alphas_
    assert_close(
        got, np.eye(3), "alphas_' K alphas_, K centred,", "the identity: axes of length 1, above (4)", **SCORES
    )
    got = centred @ model.alphas_
    assert_close(
        got, model.alphas_ * model.eigenvalues_, "K alphas_, K centred,", "alphas_ times eigenvalues_, (3)", **SCORES
    )


def test_fit_sorts_and_fixes_signs():
    model = KernelPCA(n_components=4, kernel=radial(0.4)).fit(X)
    assert (np.diff(model.eigenvalues_) <= 0).all(), f"eigenvalues_ must fall, got {model.eigenvalues_}"
    largest = model.alphas_[np.abs(model.alphas_).argmax(axis=0), np.arange(4)]
    assert (largest > 0).all(), f"the largest entry of each column of alphas_ must be positive, got {largest}"


def test_fit_keeps_what_is_there_if_not_told():
    model = KernelPCA().fit(load_iris().data)
    shape = model.alphas_.shape
    assert shape == (150, 4), f"KernelPCA().fit(iris).alphas_ has the shape {shape}, expected (150, 4): four features"
    model = KernelPCA(kernel=radial(0.4)).fit(X)
    assert model.alphas_.shape == (5, 4), f"KernelPCA of 5 samples kept {model.alphas_.shape[1]} axes, expected 4"


@pytest.mark.parametrize("n_components", [0, 5, -1])
def test_fit_refuses_more_components_than_there_are(n_components):
    with pytest.raises(ValueError, match="n_components must"):
        KernelPCA(n_components, kernel=radial(0.4)).fit(X)
    with pytest.raises(ValueError, match="n_components must"):
        KernelPCA(max(n_components, 0) * 3).fit(X)


@pytest.mark.parametrize("n_components", [1, 2, 4])
def test_fit_keeps_as_many_components_as_it_is_told(n_components):
    shape = KernelPCA(n_components, kernel=radial(0.4)).fit(X).alphas_.shape
    assert shape == (5, n_components), f"KernelPCA({n_components}) of 5 samples has alphas_ of shape {shape}"


def test_fit_refuses_samples_that_are_all_the_same():
    with pytest.raises(ValueError, match="n_components must"):
        KernelPCA().fit(np.full((6, 2), 0.3))


def test_fit_returns_itself_and_keeps_copies():
    x = X.copy()
    model = KernelPCA(2, kernel=cubic)
    assert model.fit(x) is model, "fit must return the model itself"
    before = model.transform(Z)
    assert np.array_equal(x, X), "fit changed its samples"
    x += 100
    assert_close(
        model.transform(Z), before, "transform after the samples were changed outside", "as before", **ROUNDING
    )
    assert_close(model.gram_, cubic(X, X), "gram_", "the kernels, not centred", **ROUNDING)
    assert_close(model.X_fit_, X, "X_fit_", "the samples", atol=0)


def test_fit_keeps_single_precision():
    model = KernelPCA(2, kernel=radial(0.4)).fit(X.astype(np.float32))
    for name in ("eigenvalues_", "alphas_"):
        got = getattr(model, name).dtype
        assert got == np.float32, f"{name} of a fit to float32 is {got}, expected float32"


@pytest.mark.given
def test_fit_refuses():
    for x in (X[0], X[:1], X * np.nan):
        with pytest.raises(ValueError, match="X must"):
            KernelPCA().fit(x)
    with pytest.raises(ValueError, match="kernel"):
        KernelPCA(kernel=lambda x, y: x @ y.T + np.arange(len(y))).fit(X)
    with pytest.raises(ValueError, match="kernel"):
        KernelPCA(kernel=lambda x, y: np.eye(3)).fit(X)


# transform


def test_transform_with_the_linear_kernel_is_pca():
    x = load_iris().data
    got = KernelPCA(n_components=3).fit(x[::2]).transform(x[1::2])
    expected = sklearn.decomposition.PCA(3).fit(x[::2]).transform(x[1::2])
    signs = np.sign((got * expected).sum(axis=0))
    assert_close(got, expected * signs, "scores with the linear kernel", "those of PCA, up to signs", **SCORES)


@pytest.mark.parametrize("name", ["rbf", "poly"])
def test_transform_agrees_with_scikit_learn(name):
    x = load_digits().data[:120] / 16
    old, new = x[:80], x[80:]
    kernel = radial(0.05) if name == "rbf" else cubic
    peer = sklearn.decomposition.KernelPCA(
        5, kernel=name, gamma=0.05 if name == "rbf" else 0.3, degree=3, coef0=1, eigen_solver="dense"
    )
    expected_old = peer.fit_transform(old)
    model = KernelPCA(5, kernel=kernel).fit(old)
    for samples, expected, which in ((old, expected_old, "old"), (new, peer.transform(new), "new")):
        got = model.transform(samples)
        signs = np.sign((got * expected).sum(axis=0))
        assert_close(got, expected * signs, f"scores of {which} digits, {name}", "scikit-learn, up to signs", **SCORES)


def test_transform_of_old_samples_has_the_variances():
    model = KernelPCA(4, kernel=radial(0.4)).fit(X)
    scores = model.transform(X)
    assert_close(scores.mean(axis=0), np.zeros(4), "the mean of the old samples' scores", "0", **SCORES)
    got = scores.T @ scores
    assert_close(got, np.diag(model.eigenvalues_), "scores' scores", "the eigenvalues on the diagonal", **SCORES)
    # Below (6): the score of an old sample is an entry of sqrt(lambda) u.
    assert_close(
        scores, model.alphas_ * model.eigenvalues_, "the old samples' scores", "eigenvalue times alpha", **SCORES
    )


def test_transform_separates_rings():
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings = np.concatenate([circle, 3 * circle])
    scores = KernelPCA(5, kernel=radial(0.5)).fit(rings).transform(rings)
    gaps = [max(s[:40].min() - s[40:].max(), s[40:].min() - s[:40].max()) for s in scores.T]
    assert max(gaps) > 0.1, f"no component of kernel PCA tells two rings apart: the gaps are {np.round(gaps, 3)}"


def test_transform_treats_each_sample_by_itself():
    model = KernelPCA(3, kernel=cubic).fit(X)
    together = model.transform(Z)
    for i in range(3):
        call = f"transform of sample {i} among three"
        assert_close(together[i], model.transform(Z[i : i + 1])[0], call, "transform of it alone", **SCORES)


def test_transform_leaves_its_samples_alone():
    model, z = KernelPCA(3, kernel=cubic).fit(X), Z.copy()
    model.transform(z)
    assert np.array_equal(z, Z), "transform changed its samples"


@pytest.mark.parametrize("z", [Z[0], np.ones((2, 3)), Z * np.inf])
def test_transform_refuses(z):
    model = KernelPCA(3, kernel=cubic).fit(X)
    with pytest.raises(ValueError, match="X must"):
        model.transform(z)
