"""Shared tests of linalg/nystrom: run on the reference, and on the learner's file.

What is deterministic is right to a thousand roundings, or to what dividing by the root of a small eigenvalue leaves. What is drawn is tested by
its law, through the checks of mlpath.testing, each with an error of 1e-8 at most: a right solution fails one run of this file in
ten million.
"""

import collections
import tracemalloc

import numpy as np
import pytest
import scipy.stats
from sklearn.datasets import load_diabetes, load_digits
from sklearn.kernel_ridge import KernelRidge

from mlpath.linalg.kernel_pca import polynomial_kernel, rbf_kernel
from mlpath.linalg.nystrom import (
    fourier_features,
    gram_error,
    greedy_landmarks,
    kernel_ridge,
    nystrom_features,
    random_frequencies,
    ridge,
    spread_landmarks,
)
from mlpath.testing import assert_close, assert_distribution, assert_frequencies, assert_mean

ROUNDING = {"rtol": 1e-10, "atol": 1e-11, "tolerance": "nothing but rounding separates them"}
X = np.array([[0.7, -1.2], [2.1, 0.3], [-1.6, 0.8], [0.2, 0.5], [1.4, 2.6], [-0.4, -2.2]])


def radial(x, y):
    return rbf_kernel(x, y, gamma=0.3)


def quadratic(x, y):
    return polynomial_kernel(x, y, degree=2, gamma=0.5, coef0=1.0)


def digits(n):
    return load_digits().data[:n] / 16


# spread_landmarks


def test_spread_landmarks_draws_the_first_evenly():
    x, rng = np.array([[0.0], [1.0], [3.0], [7.0]]), np.random.default_rng(0)
    counts = np.bincount([spread_landmarks(x, 1, rng=rng)[0] for _ in range(2000)], minlength=4)
    assert_frequencies(counts, [0.25] * 4, "the first of spread_landmarks(4 samples, 1)", "equal probabilities")


def test_spread_landmarks_draws_the_second_by_squared_distances():
    x, rng = np.array([[0.0], [1.0], [3.0]]), np.random.default_rng(1)
    pairs = collections.Counter(tuple(spread_landmarks(x, 2, rng=rng).tolist()) for _ in range(2000))
    law = {(0, 1): 1 / 10, (0, 2): 9 / 10, (1, 0): 1 / 5, (1, 2): 4 / 5, (2, 0): 9 / 13, (2, 1): 4 / 13}
    wrong = set(pairs) - set(law)
    assert not wrong, f"spread_landmarks(3 samples, 2) returned {wrong}: a landmark was drawn twice"
    counts = [pairs[pair] for pair in law]
    assert_frequencies(counts, [p / 3 for p in law.values()], "spread_landmarks([[0], [1], [3]], 2)", "equation (3)")


def test_spread_landmarks_draws_the_third_by_the_nearest():
    # With 0 and 10 chosen, 1 is 1 away from the nearest and 7 is 3 away: their odds are 1 to 9.
    x, rng = np.array([[0.0], [10.0], [1.0], [7.0]]), np.random.default_rng(2)
    thirds = [
        2 * (t[2] == 3) for t in (spread_landmarks(x, 3, rng=rng) for _ in range(2500)) if {*t[:2].tolist()} == {0, 1}
    ]
    counts = [thirds.count(0), thirds.count(2)]
    call = "the third of spread_landmarks([[0], [10], [1], [7]], 3) after the first two samples"
    assert_frequencies(counts, [0.1, 0.9], call, "(3), with the distance to the nearest landmark")


def test_spread_landmarks_are_different_and_can_be_all():
    got = spread_landmarks(X, 6, rng=np.random.default_rng(0))
    assert sorted(got.tolist()) == [0, 1, 2, 3, 4, 5], (
        f"spread_landmarks(6 samples, 6) returned {got}, expected each once"
    )


def test_spread_landmarks_never_takes_equal_samples():
    x = np.repeat(X[:3], 4, axis=0)
    for seed in range(20):
        got = spread_landmarks(x, 3, rng=np.random.default_rng(seed))
        assert len(np.unique(x[got], axis=0)) == 3, f"spread_landmarks returned {got}, of which some samples are equal"
    with pytest.raises(ValueError, match="n_landmarks must"):
        spread_landmarks(x, 4, rng=np.random.default_rng(0))


def test_spread_landmarks_leaves_the_samples_alone():
    x = X.copy()
    spread_landmarks(x, 4, rng=np.random.default_rng(0))
    assert np.array_equal(x, X), "spread_landmarks changed the samples"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "n", "named"),
    [(X, 0, "n_landmarks"), (X, 7, "n_landmarks"), (X, 1.5, "n_landmarks"), (X[0], 1, "x"), (X * np.nan, 1, "x")],
)
def test_spread_landmarks_refuses(x, n, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        spread_landmarks(x, n, rng=np.random.default_rng(0))


# greedy_landmarks


def test_greedy_landmarks_begins_with_the_largest_kernel():
    got = greedy_landmarks(X, 1, quadratic).tolist()
    assert got == [4], f"greedy_landmarks(X, 1, quadratic) returned {got}; the sample furthest from the origin is 4"


def test_greedy_landmarks_takes_the_worst_represented_each_time():
    x = digits(60)
    got = greedy_landmarks(x, 8, quadratic)
    gram = quadratic(x, x)
    for m in range(1, 8):
        chosen = got[:m]
        residual = np.diag(gram - gram[:, chosen] @ np.linalg.solve(gram[np.ix_(chosen, chosen)], gram[chosen]))
        worst = residual.max()
        assert residual[got[m]] >= worst * (1 - 1e-6), (
            f"greedy_landmarks chose sample {got[m]} as number {m + 1}, with a residual of {residual[got[m]]:.6g} by (1);"
            f" sample {residual.argmax()} has {worst:.6g}"
        )


def test_greedy_landmarks_stops_when_nothing_is_missed():
    x = np.random.default_rng(0).normal(size=(30, 3))
    got = greedy_landmarks(x, 10, polynomial_kernel)
    assert len(got) == 3, (
        f"greedy_landmarks of 3 dimensions with the linear kernel chose {len(got)}, expected 3: its rank"
    )
    got = greedy_landmarks(np.repeat(X[:3], 4, axis=0), 12, radial)
    assert len(got) == 3, f"greedy_landmarks of 3 different samples, 4 times each, chose {len(got)}, expected 3"


def test_greedy_landmarks_stops_by_its_tolerance():
    x = digits(100)
    got = greedy_landmarks(x, 100, quadratic, tol=1e-2)
    gram = quadratic(x, x)

    def residual(m):
        rest = gram - gram[:, got[:m]] @ np.linalg.solve(gram[np.ix_(got[:m], got[:m])], gram[got[:m]])
        return np.diag(rest).max() / np.diag(gram).max()

    assert residual(len(got)) <= 1.001e-2 < residual(len(got) - 1) * 1.002, (
        f"greedy_landmarks(tol=0.01) chose {len(got)}, after which {residual(len(got)):.4f} is missed, and one before"
        f" {residual(len(got) - 1):.4f}; expected the first number that leaves at most 0.01"
    )


def test_greedy_landmarks_are_different():
    got = greedy_landmarks(X, 6, radial).tolist()
    assert sorted(got) == [0, 1, 2, 3, 4, 5], f"greedy_landmarks(6 samples, 6) returned {got}, expected each once"


def test_greedy_landmarks_computes_few_kernels():
    x, seen = digits(200), []

    def counted(a, b):
        seen.append(len(a) * len(b))
        return radial(a, b)

    greedy_landmarks(x, 5, counted)
    assert sum(seen) <= 200 + 5 * 200, (
        f"greedy_landmarks(200 samples, 5) computed {sum(seen)} kernels, expected 200 + 5 x 200"
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "n", "options", "named"),
    [(X, 0, {}, "n_landmarks"), (X, 7, {}, "n_landmarks"), (X[0], 1, {}, "x"), (X, 2, {"tol": -1.0}, "tol")],
)
def test_greedy_landmarks_refuses(x, n, options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        greedy_landmarks(x, n, radial, **options)


@pytest.mark.given
def test_greedy_landmarks_refuses_a_bad_kernel():
    with pytest.raises(ValueError, match="kernel"):
        greedy_landmarks(X, 2, lambda x, y: np.ones(len(x)))


# nystrom_features


def products(z):
    return z @ z.T


def test_nystrom_features_of_one_landmark():
    k = radial(X, X)
    got = products(nystrom_features(X, X[[2]], radial))
    call = "nystrom_features(X, X[[2]], kernel), products of"
    assert_close(got, np.outer(k[:, 2], k[:, 2]) / k[2, 2], call, "equation (1)", **ROUNDING)


@pytest.mark.parametrize("kernel", [radial, quadratic])
def test_nystrom_features_follow_equation_1(kernel):
    chosen = [0, 3, 4]
    k = kernel(X, X)
    expected = k[:, chosen] @ np.linalg.inv(k[np.ix_(chosen, chosen)]) @ k[chosen]
    got = products(nystrom_features(X, X[chosen], kernel))
    assert_close(got, expected, "nystrom_features(X, three landmarks, kernel), products of", "equation (1)", **ROUNDING)


def test_nystrom_features_are_exact_where_the_landmarks_span_all():
    x = np.random.default_rng(0).normal(size=(40, 3))
    got = products(nystrom_features(x, x[:4], polynomial_kernel))
    assert_close(
        got, x @ x.T, "nystrom_features of 3 dimensions with 4 landmarks, products of", "the kernels", **ROUNDING
    )
    got = products(nystrom_features(X, X, radial))
    assert_close(got, radial(X, X), "nystrom_features(X, X, kernel), products of", "the kernels", **ROUNDING)


def test_nystrom_features_leave_out_what_is_only_rounding():
    x = np.random.default_rng(0).normal(size=(40, 3))
    got = nystrom_features(x, x[:10], polynomial_kernel)
    assert got.shape == (40, 3), f"10 landmarks of 3 dimensions make features of shape {got.shape}, expected (40, 3)"
    got = nystrom_features(X, X[[0, 0, 1]], radial)
    assert got.shape == (6, 2), f"3 landmarks of which 2 are equal make features of shape {got.shape}, expected (6, 2)"
    assert np.abs(got).max() < 2, f"features of a kernel of at most 1 came out as large as {np.abs(got).max():.3g}"


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_nystrom_features_do_not_depend_on_the_size_of_the_kernel(scale):
    got = products(nystrom_features(X, X[[0, 3, 4]], lambda x, y: scale * radial(x, y))) / scale
    expected = products(nystrom_features(X, X[[0, 3, 4]], radial))
    assert_close(
        got, expected, f"nystrom_features with {scale:g} times the kernel, products of", "as many times", **ROUNDING
    )


def test_nystrom_features_never_overestimate():
    x = digits(150)
    z = nystrom_features(x, x[::10], radial)
    diagonal = (z**2).sum(axis=1)
    assert diagonal.max() <= 1 + 1e-9, (
        f"Nyström features have a squared length of {diagonal.max():.6f}, above k(x, x) = 1"
    )
    assert_close(diagonal[::10], np.ones(15), "the squared lengths of the landmarks' features", "k(x, x)", rtol=1e-7)


def test_nystrom_features_of_new_samples_fit_those_of_old_ones():
    z = nystrom_features(X, X[[0, 3, 4]], radial)
    one = nystrom_features(X[[1]], X[[0, 3, 4]], radial)
    assert_close(one @ z.T, (z @ z.T)[[1]], "nystrom_features of one sample alone", "its row among all", **ROUNDING)


def test_nystrom_features_keep_to_their_arguments():
    x, landmarks = X.copy(), X[:3].copy()
    nystrom_features(x, landmarks, radial)
    assert np.array_equal(x, X) and np.array_equal(landmarks, X[:3]), "nystrom_features changed its arguments"
    got = nystrom_features(X.astype(np.float32), X[:3].astype(np.float32), radial).dtype
    assert got == np.float32, f"nystrom_features of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "landmarks", "named"),
    [(X[0], X[:2], "x"), (X, X[:2, :1], "landmarks"), (X, np.full((2, 2), np.nan), "landmarks")],
)
def test_nystrom_features_refuse(x, landmarks, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        nystrom_features(x, landmarks, radial)


@pytest.mark.given
def test_nystrom_features_refuse_a_bad_kernel():
    with pytest.raises(ValueError, match="kernel"):
        nystrom_features(X, X[:3], lambda x, y: x @ y.T + np.arange(len(y)))


# random_frequencies


def test_random_frequencies_are_normal():
    w, b = random_frequencies(4000, 3, 0.35, rng=np.random.default_rng(0))
    assert w.shape == (3, 4000), (
        f"random_frequencies(4000, 3, ...) drew frequencies of shape {w.shape}, expected (3, 4000)"
    )
    assert b.shape == (4000,), f"random_frequencies(4000, 3, ...) drew phases of shape {b.shape}, expected (4000,)"
    call = "a frequency of random_frequencies(4000, 3, 0.35)"
    assert_distribution(w.ravel(), scipy.stats.norm(scale=np.sqrt(0.7)), call, "N(0, 2 gamma), equation (5)")
    assert_mean(w.T**2, 0.7, f"the square of {call}", "2 gamma, equation (5)", sd=0.7 * np.sqrt(2))


def test_random_frequencies_have_phases_all_around():
    _, b = random_frequencies(4000, 3, 0.35, rng=np.random.default_rng(1))
    law = scipy.stats.uniform(0, 2 * np.pi)
    assert_distribution(b, law, "a phase of random_frequencies(4000, 3, 0.35)", "uniform from 0 to 2 pi")


def test_random_frequencies_are_independent():
    w, b = random_frequencies(4000, 3, 0.35, rng=np.random.default_rng(2))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert_mean(w[i] * w[j], 0.0, f"the product of frequencies {i} and {j}", "0: they are independent", sd=0.7)
    assert_mean(
        w[0] * (b - np.pi), 0.0, "frequency 0 times the phase", "0: they are independent", sd=np.sqrt(0.7 / 3) * np.pi
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("n", "d", "gamma", "named"),
    [(0, 2, 1.0, "n_features"), (3, 0, 1.0, "n_dims"), (3, 2, 0.0, "gamma"), (3, 2, np.inf, "gamma")],
)
def test_random_frequencies_refuses(n, d, gamma, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        random_frequencies(n, d, gamma, rng=np.random.default_rng(0))


# fourier_features


def test_fourier_features_by_hand():
    x, w, b = (
        np.array([[0.5, -1.2], [2.0, 0.3]]),
        np.array([[0.4, 1.1, -0.7], [2.0, -0.3, 0.9]]),
        np.array([0.1, 2.5, 4.0]),
    )
    expected = [[np.sqrt(2 / 3) * np.cos(row @ w[:, j] + b[j]) for j in range(3)] for row in x]
    assert_close(fourier_features(x, w, b), expected, "fourier_features(x, w, b)", "equation (6)", **ROUNDING)


def test_fourier_features_have_the_kernel_as_their_mean():
    w, b = random_frequencies(20_000, 2, 0.3, rng=np.random.default_rng(3))
    z = fourier_features(X, w, b)
    kernels = radial(X, X)
    for i, j in ((0, 1), (0, 3), (2, 2), (1, 4)):
        draws = len(b) * z[i] * z[j]
        assert_mean(draws, kernels[i, j], f"20,000 z({i}) z({j})", "the kernel of samples i and j, equation (6)")


def test_fourier_features_come_near_the_kernels():
    w, b = random_frequencies(4000, 2, 0.3, rng=np.random.default_rng(4))
    error = np.abs(products(fourier_features(X, w, b)) - radial(X, X)).max()
    # Each product has the variance 3/2 at most; six standard errors of 4,000.
    assert error < 6 * np.sqrt(1.5 / 4000), (
        f"products of 4,000 Fourier features are {error:.3f} off, expected below 0.116"
    )


def test_fourier_features_keep_to_their_arguments():
    w, b = random_frequencies(5, 2, 0.3, rng=np.random.default_rng(5))
    kept = X.copy(), w.copy(), b.copy()
    fourier_features(X, w, b)
    assert all(np.array_equal(a, k) for a, k in zip((X, w, b), kept, strict=True)), (
        "fourier_features changed its arguments"
    )
    single = [a.astype(np.float32) for a in (X, w, b)]
    got = fourier_features(*single).dtype
    assert got == np.float32, f"fourier_features of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("w", "b", "named"),
    [
        (np.ones((3, 4)), np.ones(4), "frequencies"),
        (np.ones((2, 4)), np.ones(3), "phases"),
        (np.ones((2, 4)), np.full(4, np.nan), "phases"),
    ],
)
def test_fourier_features_refuse(w, b, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        fourier_features(X, w, b)


# kernel_ridge

Y = np.array([1.3, -0.4, 2.2, 0.9, -1.7, 0.6])


def test_kernel_ridge_solves_equation_7():
    k = radial(X, X)
    c = kernel_ridge(k, Y, 0.35)
    assert_close(k @ c + 0.35 * c, Y, "(K + 0.35 I) kernel_ridge(K, y, 0.35)", "y, equation (7)", **ROUNDING)


def test_kernel_ridge_agrees_with_scikit_learn():
    data = load_diabetes()
    x, y = data.data[:200] * 20, data.target[:200] - 150
    peer = KernelRidge(alpha=0.5, kernel="rbf", gamma=0.3).fit(x, y)
    assert_close(
        kernel_ridge(radial(x, x), y, 0.5), peer.dual_coef_, "kernel_ridge(K, y, 0.5)", "scikit-learn", rtol=1e-7
    )


def test_kernel_ridge_keeps_to_its_arguments():
    k, y = radial(X, X), Y.copy()
    kept = k.copy()
    kernel_ridge(k, y, 0.5)
    assert np.array_equal(k, kept) and np.array_equal(y, Y), "kernel_ridge changed its arguments"
    got = kernel_ridge(k.astype(np.float32), Y.astype(np.float32), 0.5).dtype
    assert got == np.float32, f"kernel_ridge of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("gram", "y", "penalty", "named"),
    [
        (np.ones((2, 3)), Y[:2], 1.0, "gram must"),
        (np.eye(6), Y[:5], 1.0, "y must"),
        (np.eye(6), Y * np.inf, 1.0, "y must"),
        (np.eye(6), Y, 0.0, "penalty must"),
        (np.eye(6), Y, np.nan, "penalty must"),
    ],
)
def test_kernel_ridge_refuses(gram, y, penalty, named):
    with pytest.raises(ValueError, match=named):
        kernel_ridge(gram, y, penalty)


# ridge


def test_ridge_solves_equation_8():
    z = np.random.default_rng(0).normal(size=(6, 3))
    beta = ridge(z, Y, 0.35)
    assert_close(
        z.T @ (z @ beta) + 0.35 * beta, z.T @ Y, "(Z'Z + 0.35 I) ridge(Z, y, 0.35)", "Z'y, equation (8)", **ROUNDING
    )


def test_ridge_predicts_what_kernel_ridge_does():
    x = digits(80)
    y = np.sin(x.sum(axis=1))
    z = nystrom_features(x, x[::8], radial)
    by_features = z @ ridge(z, y, 0.2)
    by_kernels = products(z) @ kernel_ridge(products(z), y, 0.2)
    assert_close(
        by_features, by_kernels, "Z ridge(Z, y, 0.2)", "ZZ' kernel_ridge(ZZ', y, 0.2), below (8)", rtol=1e-8, atol=1e-9
    )


def test_ridge_needs_no_matrix_of_samples():
    z, y = np.ones((40_000, 2)), np.ones(40_000)
    z[::2, 1] = -1
    tracemalloc.start()
    beta = ridge(z, y, 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e7, f"ridge of 40,000 samples with 2 features took {peak / 1e6:.0f} MB, expected a few"
    assert_close(beta, [40000 / 40001, 0.0], "ridge(Z, y, 1) for 40,000 samples", "equation (8)", **ROUNDING)


def test_ridge_keeps_to_its_arguments():
    z = np.random.default_rng(0).normal(size=(6, 3))
    kept, y = z.copy(), Y.copy()
    ridge(z, y, 0.5)
    assert np.array_equal(z, kept) and np.array_equal(y, Y), "ridge changed its arguments"
    got = ridge(z.astype(np.float32), Y.astype(np.float32), 0.5).dtype
    assert got == np.float32, f"ridge of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("z", "y", "penalty", "named"),
    [
        (np.ones(6), Y, 1.0, "features must"),
        (np.ones((6, 2)), Y[:5], 1.0, "y must"),
        (np.ones((6, 2)), Y, -1.0, "penalty must"),
    ],
)
def test_ridge_refuses(z, y, penalty, named):
    with pytest.raises(ValueError, match=named):
        ridge(z, y, penalty)


# gram_error


@pytest.mark.parametrize("block", [1, 4, 6, 500])
def test_gram_error_is_relative_in_the_frobenius_norm(block):
    z = np.random.default_rng(0).normal(size=(6, 3))
    k = quadratic(X, X)
    expected = np.linalg.norm(products(z) - k) / np.linalg.norm(k)
    assert_close(
        gram_error(z, X, quadratic, block=block),
        expected,
        f"gram_error(Z, X, kernel, block={block})",
        "its docstring",
        **ROUNDING,
    )


def test_gram_error_looks_at_a_block_at_a_time():
    shapes = []

    def watched(a, b):
        shapes.append((len(a), len(b)))
        return radial(a, b)

    gram_error(np.ones((6, 1)), X, watched, block=4)
    assert shapes == [(4, 6), (2, 6)], f"gram_error(..., block=4) of 6 samples asked for kernels of the shapes {shapes}"


def test_gram_error_falls_with_more_landmarks():
    x = digits(200)
    wide = lambda x, y: rbf_kernel(x, y, gamma=0.02)  # noqa: E731
    chosen = greedy_landmarks(x, 60, wide)
    errors = [gram_error(nystrom_features(x, x[chosen[:m]], wide), x, wide) for m in (5, 20, 60)]
    assert errors[0] > errors[1] > errors[2], (
        f"gram_error with 5, 20 and 60 landmarks is {np.round(errors, 4)}: it must fall"
    )
    assert errors[2] < 0.1, f"gram_error of 200 digits with 60 landmarks is {errors[2]:.3f}, expected below 0.1"


@pytest.mark.given
@pytest.mark.parametrize(
    ("z", "options", "named"), [(np.ones((5, 2)), {}, "features must"), (np.ones((6, 2)), {"block": 0}, "block must")]
)
def test_gram_error_refuses(z, options, named):
    with pytest.raises(ValueError, match=named):
        gram_error(z, X, radial, **options)
