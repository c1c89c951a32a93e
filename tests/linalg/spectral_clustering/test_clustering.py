"""Shared tests of linalg/spectral_clustering/clustering: run on the reference, and on the learner's file.

Steps and rows are a few operations each: 1e-12 is thousands of roundings. Eigenvectors are right to some 1e-12 over the gap to the next eigenvalue, and compared after their signs, which are chance, or by scalar products
of rows, which no rotation changes. k-means draws its starts: on the data where one start in four ends in a local minimum, twelve starts all do so once in 10^7. Clusters that hang together were found by each
of 100 to 1000 single starts that were tried.
"""

import itertools

import numpy as np
import pytest
import scipy.linalg
from scipy.sparse import csr_array
from sklearn.datasets import make_circles, make_moons

from mlpath.linalg.spectral_clustering.clustering import (
    SpectralClustering,
    eigengap,
    kmeans,
    lloyd_step,
    matched_accuracy,
    row_normalise,
    spectral_embedding,
)
from mlpath.linalg.spectral_clustering.graphs import (
    epsilon_graph,
    gaussian_graph,
    knn_graph,
    mutual_knn_graph,
    self_tuning_graph,
    squared_distances,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-12, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}
EIGEN = {"rtol": 0.0, "atol": 1e-9, "tolerance": "eigenvalues are 0.01 apart and more"}
METHODS = ["unnormalised", "shi_malik", "ng_jordan_weiss"]
W = np.array(
    [
        [0.0, 1.2, 0.5, 0.0, 0.0],
        [1.2, 0.0, 0.7, 0.0, 0.0],
        [0.5, 0.7, 0.0, 0.3, 0.0],
        [0.0, 0.0, 0.3, 0.0, 2.1],
        [0.0, 0.0, 0.0, 2.1, 0.0],
    ]
)
PIECES = scipy.linalg.block_diag(W[:3, :3], W[3:, 3:], 0.4 * (np.ones((4, 4)) - np.eye(4)))
WHICH = np.repeat([0, 1, 2], [3, 2, 4])
MOONS, MOON = make_moons(100, noise=0.05, random_state=0)
RINGS, RING = make_circles(100, factor=0.4, noise=0.04, random_state=0)


def groups():
    """Three round groups, 20 samples each, clearly apart."""
    rng = np.random.default_rng(5)
    return np.concatenate([rng.normal(c, 0.4, (20, 2)) for c in ((0, 0), (5, 0), (2, 5))]), np.repeat([0, 1, 2], 20)


def leaves_alone(function, *arrays):
    copies = [a.copy() for a in arrays]
    function(*copies)
    for copy, array in zip(copies, arrays, strict=True):
        assert np.array_equal(copy, array), f"{function.__name__} changed its arguments"


# row_normalise


def test_row_normalise_by_hand():
    u = np.array([[1.2, -0.5, 0.0], [0.0, -2.7, 0.0], [-0.8, 0.9, 1.2]])
    expected = [[1.2 / 1.3, -0.5 / 1.3, 0.0], [0.0, -1.0, 0.0], [-0.8 / 1.7, 0.9 / 1.7, 1.2 / 1.7]]
    assert_close(row_normalise(u), expected, f"row_normalise({u.tolist()})", "equation (4)", **ROUNDING)


def test_row_normalise_leaves_rows_of_zeros():
    got = row_normalise(np.array([[0.0, 0.0], [1.6, 1.2]]))
    assert_close(got, [[0.0, 0.0], [0.8, 0.6]], "row_normalise([[0, 0], [1.6, 1.2]])", "zeros stay", **ROUNDING)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_row_normalise_at_any_scale(scale):
    got = row_normalise(np.array([[1.6, 1.2], [-0.5, 1.2]]) * scale)
    expected = [[0.8, 0.6], [-0.5 / 1.3, 1.2 / 1.3]]
    assert_close(got, expected, f"row_normalise({scale:g} u)", "that of u, by (4)", **ROUNDING)


def test_row_normalise_takes_each_row_at_its_own_scale():
    u = np.array([[1.6e200, 1.2e200], [-0.5e-200, 1.2e-200], [3.0, 4.0]])
    expected = [[0.8, 0.6], [-0.5 / 1.3, 1.2 / 1.3], [0.6, 0.8]]
    assert_close(row_normalise(u), expected, f"row_normalise({u.tolist()})", "equation (4)", **ROUNDING)


def test_row_normalise_keeps_to_its_argument():
    leaves_alone(row_normalise, W)
    got = row_normalise(W.astype(np.float32)).dtype
    assert got == np.float32, f"row_normalise of float32 returned {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize("u", [W[0], W * np.nan, np.zeros((0, 2))], ids=["one axis", "nan", "empty"])
def test_row_normalise_refuses(u):
    with pytest.raises(ValueError, match="u must"):
        row_normalise(u)


# spectral_embedding


def eigenvectors(w, method):
    """By NumPy and SciPy, of the problems as they stand in (1) and (2)."""
    d = w.sum(axis=1)
    if method == "unnormalised":
        return np.linalg.eigh(np.diag(d) - w)
    values, vectors = scipy.linalg.eigh(np.diag(d) - w, np.diag(d))
    if method == "shi_malik":
        return values, vectors
    return values, vectors * np.sqrt(d)[:, None]


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("method", METHODS)
def test_spectral_embedding_has_the_eigenvectors_of_the_method(method, form):
    values, vectors = eigenvectors(W, method)
    expected = vectors[:, :3]
    if method == "ng_jordan_weiss":
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    got_values, got = spectral_embedding(W if form == "dense" else csr_array(W), 3, method)
    call = f"spectral_embedding(W, 3, {method!r}), {form},"
    assert_close(got_values, values[:3], f"the values of {call}", "the smallest eigenvalues", **EIGEN)
    signs = np.sign((got * expected).sum(axis=0))
    assert_close(got * signs, expected, f"{call} up to signs", "(1), (2) or (4)", **EIGEN)


@pytest.mark.parametrize(
    ("method", "sizes"),
    [
        ("unnormalised", [3, 2, 4]),
        ("shi_malik", [4.8, 4.2, 4.8]),  # volumes
        ("ng_jordan_weiss", [1, 1, 1]),
    ],
)
def test_spectral_embedding_of_components_is_a_point_for_each(method, sizes):
    got = spectral_embedding(PIECES, 3, method)[1]
    same = WHICH[:, None] == WHICH
    expected = np.where(same, 1 / np.array(sizes, float)[WHICH], 0)
    call = f"the products of rows of spectral_embedding(three components, 3, {method!r})"
    assert_close(got @ got.T, expected, call, "(3), with rows of length 1 for (4)", **EIGEN)


def test_spectral_embedding_is_that_of_ng_jordan_and_weiss_if_not_told():
    got = np.linalg.norm(spectral_embedding(W, 2)[1], axis=1)
    assert_close(got, np.ones(5), "the lengths of rows of spectral_embedding(W, 2)", "(4)", **ROUNDING)


@pytest.mark.parametrize("method", METHODS)
def test_spectral_embedding_of_isolated_vertices_is_finite(method):
    w = scipy.linalg.block_diag(W, np.zeros((2, 2)))
    got = spectral_embedding(w, 3, method)[1]
    assert np.isfinite(got).all(), f"spectral_embedding with two isolated vertices, {method!r}, returned {got}"


def test_spectral_embedding_keeps_to_its_argument():
    leaves_alone(lambda w: spectral_embedding(w, 2), W)
    got = spectral_embedding(W.astype(np.float32), 2)[1].dtype
    assert got == np.float32, f"spectral_embedding of float32 returned {got}, expected float32"


@pytest.mark.parametrize(
    ("graph", "k", "method", "named"),
    [(W, 2, "cosine", "method"), (W, 0, "shi_malik", "k"), (W, 6, "shi_malik", "k"), (W - 1, 2, "shi_malik", "graph")],
)
def test_spectral_embedding_refuses(graph, k, method, named):
    if named == "method":  # given, and so tested with what is not
        spectral_embedding(W, 2)
    with pytest.raises(ValueError, match=f"{named} must"):
        spectral_embedding(graph, k, method)


# eigengap


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.01, 0.03, 0.35, 0.52], 3),
        ([0.0, 0.4, 0.55, 0.65], 1),
        ([0.0, 0.1, 0.2, 0.25, 0.9], 4),
        ([0.0, 0.7], 1),
        ([0.0, 0.0, 0.25, 0.5, 0.6], 2),
        ([0.0, 0.0, 0.0], 1),
    ],
)
def test_eigengap_is_before_the_largest_gap(values, expected):
    got = eigengap(np.array(values))
    assert got == expected, f"eigengap({values}) returned {got}, expected {expected} by (5), the first of equal gaps"


def test_eigengap_counts_components():
    values = np.linalg.eigvalsh(np.diag(PIECES.sum(axis=1)) - PIECES)
    got = eigengap(np.maximum.accumulate(values[:5]))
    assert got == 3, f"eigengap of a graph in three pieces returned {got}, expected 3: its eigenvalues are {values}"


@pytest.mark.given
@pytest.mark.parametrize("values", [[0.0], [0.3, 0.1], [0.0, np.nan], [[0.0, 1.0]]], ids=str)
def test_eigengap_refuses(values):
    with pytest.raises(ValueError, match="values must"):
        eigengap(np.array(values))


# lloyd_step

X = np.array([[0.3, 1.1], [1.5, 0.7], [-0.4, 2.9], [2.2, 3.6], [4.1, -0.8], [3.3, 0.4], [-1.2, 2.0]])


def test_lloyd_step_by_hand():
    centres = np.array([[0.0, 2.0], [2.5, 3.0], [2.9, -0.1]])
    labels, updated, inertia = lloyd_step(X, centres)
    call = f"lloyd_step({X.tolist()}, {centres.tolist()})"
    assert_close(labels, [0, 2, 0, 1, 2, 2, 0], f"the labels of {call}", "the nearest centres, (7)")
    expected = [[-1.3 / 3, 6.0 / 3], [2.2, 3.6], [8.9 / 3, 0.3 / 3]]
    assert_close(updated, expected, f"the centres of {call}", "the means, (7)", **ROUNDING)
    expected = (0.09 + 0.81) + (1.96 + 0.64) + (0.16 + 0.81) + (0.09 + 0.36) + (1.44 + 0.49) + (0.16 + 0.25) + 1.44
    assert_close(inertia, expected, f"the inertia of {call}", "(6) with the given centres", **ROUNDING)


def test_lloyd_step_keeps_a_centre_without_samples():
    centres = np.array([[0.0, 2.0], [70.5, -30.25], [2.9, -0.1]])
    labels, updated, _ = lloyd_step(X, centres)
    assert_close(updated[1], centres[1], "the centre of lloyd_step that no sample is near to", "it stays", **ROUNDING)
    assert 1 not in labels, f"lloyd_step gave the labels {labels}; no sample is near centre 1"
    expected = X[labels == 0].mean(axis=0)
    assert_close(updated[0], expected, "the first centre of lloyd_step beside an empty one", "the mean", **ROUNDING)


def test_lloyd_step_takes_the_first_of_equally_near_centres():
    labels = lloyd_step(np.array([[1.0], [1.0], [2.5]]), np.array([[3.0], [0.5], [1.5], [-1.0]]))[0]
    assert_close(labels, [1, 1, 0], "the labels of lloyd_step([[1], [1], [2.5]], [[3], [0.5], [1.5], [-1]])", "ties")


@pytest.mark.parametrize(("n", "d", "k"), [(50, 7, 4), (9, 1, 9), (30, 20, 1)])
def test_lloyd_step_agrees_with_a_loop(n, d, k):
    rng = np.random.default_rng(n)
    x = rng.normal(2.0, 1.0, (n, d))
    centres = rng.normal(2.0, 1.0, (k, d))
    squared = np.array([[np.sum((a - c) ** 2) for c in centres] for a in x])
    expected = squared.argmin(axis=1)
    labels, updated, inertia = lloyd_step(x, centres)
    call = f"lloyd_step of {n} samples, {d} features, {k} centres"
    assert_close(labels, expected, f"the labels of {call}", "(7)")
    means = [x[expected == c].mean(axis=0) if (expected == c).any() else centres[c] for c in range(k)]
    assert_close(updated, means, f"the centres of {call}", "(7)", **ROUNDING)
    assert_close(inertia, squared.min(axis=1).sum(), f"the inertia of {call}", "(6)", **ROUNDING)


def test_lloyd_step_far_from_the_origin():
    far = 2.0**30  # quarters and this have 32 bits: their differences are exact
    x, centres = np.round(X * 4) / 4, np.array([[0.0, 2.0], [2.5, 3.0], [3.0, 0.0]])
    expected = lloyd_step(x, centres)
    labels, _, inertia = lloyd_step(x + far, centres + far)
    assert_close(labels, expected[0], "the labels of lloyd_step(x + 2^30, centres + 2^30)", "only differences count")
    assert_close(inertia, expected[2], "the inertia of lloyd_step(x + 2^30, centres + 2^30)", "(6)", **ROUNDING)


def test_lloyd_step_keeps_to_its_arguments():
    leaves_alone(lloyd_step, X, X[:3])
    got = lloyd_step(X.astype(np.float32), X[:3].astype(np.float32))[1].dtype
    assert got == np.float32, f"the centres of lloyd_step of float32 are {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "centres", "named"), [(X[0], X, "x"), (X * np.nan, X, "x"), (X, X[:, :1], "centres"), (X, X[0], "centres")]
)
def test_lloyd_step_refuses(x, centres, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        lloyd_step(x, centres)


# kmeans


def clumps():
    """Seven clumps, of which a single start often splits one and joins two."""
    rng = np.random.default_rng(0)
    centres = [(0, 0), (1, 0), (0.5, 1), (6, 0), (6, 1.2), (3, 5), (3.8, 5.5)]
    return np.concatenate([rng.normal(c, 0.12, (8, 2)) for c in centres]), np.repeat(np.arange(7), 8)


def test_kmeans_finds_the_best_split():
    x = np.array([[0.3], [1.1], [1.9], [4.2], [5.5], [9.7], [10.4]])
    best = min(
        sum(((part - part.mean()) ** 2).sum() for part in (x[:i], x[i:j], x[j:]))
        for i, j in itertools.combinations(range(1, 7), 2)
    )
    result = kmeans(x, 3, rng=np.random.default_rng(0), n_init=40)
    call = f"kmeans({x.ravel().tolist()} in a column, 3, n_init=40)"
    assert_close(result.inertia, best, f"{call}.inertia", "the least (6) of all splits", **ROUNDING)
    means = [x[result.labels == c].mean(axis=0) for c in range(3)]
    assert_close(result.centres, means, f"{call}.centres", "the means of its labels", **ROUNDING)
    nearest = np.abs(x - result.centres.T).argmin(axis=1)
    assert_close(result.labels, nearest, f"{call}.labels", "the nearest of its centres")


def test_kmeans_is_the_best_of_as_many_single_starts():
    x = np.random.default_rng(3).normal(size=(40, 4)) * [1.0, 2.0, 3.0, 1.5]
    expected = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        expected.append(min(kmeans(x, 5, rng=rng, n_init=1).inertia for _ in range(4)))
    got = [kmeans(x, 5, rng=np.random.default_rng(seed), n_init=4).inertia for seed in range(3)]
    call = "the inertias of kmeans(x, 5, n_init=4) with the seeds 0, 1, 2"
    assert_close(got, expected, call, "the least of four single starts in a row", **ROUNDING)


def test_kmeans_keeps_the_best_of_its_starts():
    x, truth = clumps()
    best = sum(((x[truth == c] - x[truth == c].mean(axis=0)) ** 2).sum() for c in range(7))
    for seed in range(4):
        result = kmeans(x, 7, rng=np.random.default_rng(seed), n_init=12)
        call = f"kmeans(seven clumps, 7, n_init=12, seed {seed})"
        assert_close(result.inertia, best, f"{call}.inertia", "(6) of the clumps, the least", **ROUNDING)
        distances = ((x - result.centres[result.labels]) ** 2).sum()
        assert_close(result.inertia, distances, f"{call}.inertia", "(6) with its labels and centres", **ROUNDING)
        assert result.converged, f"{call} did not converge in {result.n_iter} steps"


def test_kmeans_ends_where_a_step_changes_nothing():
    x = np.random.default_rng(3).normal(size=(60, 4))
    result = kmeans(x, 5, rng=np.random.default_rng(0), n_init=1)
    labels, updated, inertia = lloyd_step(x, result.centres)
    assert_close(labels, result.labels, "the labels after a further lloyd_step", "those of kmeans")
    assert_close(updated, result.centres, "the centres after a further lloyd_step", "those of kmeans", **ROUNDING)
    assert_close(inertia, result.inertia, "the inertia after a further lloyd_step", "that of kmeans", **ROUNDING)
    assert result.converged and 3 <= result.n_iter < 60, f"kmeans of 60 samples took {result.n_iter} steps"


def test_kmeans_stops_after_max_iter():
    x = np.random.default_rng(3).normal(size=(60, 4))
    for most in (1, 2):
        result = kmeans(x, 5, rng=np.random.default_rng(0), n_init=3, max_iter=most)
        got = result.n_iter, bool(result.converged)
        assert got == (most, False), f"kmeans(max_iter={most}) has n_iter, converged = {got}, expected {(most, False)}"
        means = [x[result.labels == c].mean(axis=0) for c in range(5)]
        assert_close(result.centres, means, f"kmeans(max_iter={most}).centres", "means of its labels", **ROUNDING)


def test_kmeans_with_its_last_step_at_max_iter_has_converged():
    x = np.array([[0.3], [1.1], [9.7]])
    result = kmeans(x, 3, rng=np.random.default_rng(0), n_init=1, max_iter=1)
    got = result.n_iter, bool(result.converged)
    assert got == (1, True), f"kmeans of 3 samples, 3 clusters: n_iter, converged = {got}; nothing changes in step 1"


def test_kmeans_of_one_cluster_or_as_many_as_samples():
    one = kmeans(X, 1, rng=np.random.default_rng(0))
    assert_close(one.centres, X.mean(axis=0)[None], "kmeans(X, 1).centres", "the mean of all", **ROUNDING)
    assert one.n_iter == 2, f"kmeans(X, 1) took {one.n_iter} steps, expected 2: one to the mean, one to find it still"
    everyone = kmeans(X, 7, rng=np.random.default_rng(0))
    assert sorted(everyone.labels.tolist()) == [*range(7)], f"kmeans(7 samples, 7).labels is {everyone.labels}"
    assert everyone.inertia == 0, f"kmeans(7 samples, 7).inertia is {everyone.inertia}, expected 0"


def test_kmeans_of_equal_samples():
    result = kmeans(np.full((6, 2), 0.7), 3, rng=np.random.default_rng(0))
    assert len(set(result.labels.tolist())) == 1, f"kmeans of equal samples has the labels {result.labels}"
    assert result.inertia < 1e-28, (
        f"kmeans of equal samples has the inertia {result.inertia}, expected 0 but for rounding"
    )


def test_kmeans_draws_from_its_generator_only():
    x = np.random.default_rng(3).normal(size=(60, 4))
    first, second = (kmeans(x, 5, rng=np.random.default_rng(7), n_init=2) for _ in range(2))
    assert_close(first.labels, second.labels, "kmeans with another generator of the same seed", "the same labels")
    ends = {kmeans(x, 5, rng=np.random.default_rng(s), n_init=1).inertia for s in range(8)}
    assert len(ends) > 1, "kmeans with 8 seeds came to one end on shapeless data: its starts should be drawn from rng"


def test_kmeans_leaves_the_samples_alone():
    leaves_alone(lambda x: kmeans(x, 3, rng=np.random.default_rng(0)), X)


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "k", "options", "named"),
    [
        (X[0], 1, {}, "x"),
        (X, 0, {}, "k"),
        (X, 8, {}, "k"),
        (X, 2, {"n_init": 0}, "n_init"),
        (X, 2, {"max_iter": 0}, "max_iter"),
        (X, 1.5, {}, "k"),
    ],
)
def test_kmeans_refuses(x, k, options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        kmeans(x, k, rng=np.random.default_rng(0), **options)


# matched_accuracy


def test_matched_accuracy_by_hand():
    labels = np.array([5, 5, 5, 5, -1, -1, -1, 2, 2, 2, 2])
    truth = np.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 7, 0])
    # Counts: cluster 5 has 3 of group 1 and 1 of 0; -1 has 2 of 0 and 1 of 1; 2 has 3 of 0 and 1 of 7. Best is 3 + 0 + 3.
    got = matched_accuracy(labels, truth)
    assert_close(got, 6 / 11, f"matched_accuracy({labels.tolist()}, {truth.tolist()})", "(8)", **ROUNDING)


def test_matched_accuracy_is_not_fooled_by_greed():
    labels = np.repeat([0, 0, 1, 1], [10, 9, 9, 1])
    truth = np.repeat([0, 1, 0, 1], [10, 9, 9, 1])  # 10 + 1 are worse than 9 + 9
    assert_close(matched_accuracy(labels, truth), 18 / 29, "matched_accuracy, where 10 + 1 < 9 + 9", "(8)", **ROUNDING)


@pytest.mark.parametrize(("n_clusters", "n_groups"), [(3, 3), (5, 3), (3, 5), (1, 4)])
def test_matched_accuracy_agrees_with_trying_all(n_clusters, n_groups):
    rng = np.random.default_rng(n_clusters)
    labels, truth = np.arange(40) % n_clusters, rng.permutation(np.arange(40) % n_groups)
    names = [*range(max(n_clusters, n_groups))]
    expected = max(np.mean(np.array(order)[labels] == truth) for order in itertools.permutations(names))
    call = f"matched_accuracy of {n_clusters} clusters and {n_groups} groups"
    assert_close(matched_accuracy(labels, truth), expected, call, "trying all", **ROUNDING)


def test_matched_accuracy_is_one_for_other_names():
    truth = np.array([3, 3, 1, 1, 1, 0, 2])
    got = matched_accuracy(np.array([40, -7, 5, 12])[truth], truth)
    assert got == 1, f"matched_accuracy of the true groups under other names is {got}, expected 1"


def test_matched_accuracy_leaves_its_arguments_alone():
    leaves_alone(matched_accuracy, np.array([4, 4, 2]), np.array([1, 0, 0]))


@pytest.mark.given
@pytest.mark.parametrize(
    ("labels", "truth", "named"),
    [([0.5, 1.0], [0, 1], "labels"), ([0, 1], [[0], [1]], "truth"), ([0, 1], [0], "truth")],
)
def test_matched_accuracy_refuses(labels, truth, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        matched_accuracy(np.array(labels), np.array(truth))


# fit


def accuracy(x, truth, k, **options):
    model = SpectralClustering(k, random_state=0, n_init=3, **options)
    return matched_accuracy(model.fit(x).labels_, truth)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", ["crescents", "rings"])
def test_fit_finds_groups_that_are_not_round(shape, method):
    x, truth = (MOONS, MOON) if shape == "crescents" else (RINGS, RING)
    for affinity, options in (("knn", {"n_neighbors": 5}), ("epsilon", {"radius": 0.35}), ("full", {"scale": 0.12})):
        got = accuracy(x, truth, 2, method=method, affinity=affinity, **options)
        assert got == 1, (
            f"SpectralClustering(2, {method!r}, {affinity!r}, {options}) has {got:.2f} of the {shape} right"
        )
    plain = matched_accuracy(kmeans(x, 2, rng=np.random.default_rng(0)).labels, truth)
    assert plain < 0.9, f"k-means alone has {plain:.2f} of the {shape} right: something is wrong with the test"


def test_fit_with_scales_of_their_own_finds_groups_of_different_density():
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 40)
    ring = 4 * np.stack([np.cos(angles), np.sin(angles)], axis=1) + rng.normal(0, 0.15, (40, 2))
    x = np.concatenate([rng.normal((-0.5, 0), 0.12, (40, 2)), rng.normal((0.5, 0), 0.12, (40, 2)), ring])
    truth = np.repeat([0, 1, 2], 40)
    got = accuracy(x, truth, 3, affinity="self_tuning", n_neighbors=7)
    assert got == 1, f"SpectralClustering(3, affinity='self_tuning') has {got:.2f} of two dense groups in a ring right"
    single = [accuracy(x, truth, 3, affinity="full", scale=s) for s in (0.1, 0.2, 0.4)]
    assert max(single) < 0.9, f"with one scale for all it has {single} right: something is wrong with the test"


@pytest.mark.parametrize("method", METHODS)
def test_fit_finds_the_components_of_a_graph(method):
    model = SpectralClustering(3, method=method, affinity="precomputed", random_state=0)
    order = np.array([4, 0, 7, 3, 8, 1, 5, 2, 6])
    for graph in (PIECES[np.ix_(order, order)], csr_array(PIECES[np.ix_(order, order)])):
        got = matched_accuracy(model.fit(graph).labels_, WHICH[order])
        assert got == 1, f"SpectralClustering(3, {method!r}) of a graph in three components has {got:.2f} right"
        assert_close(model.eigenvalues_, np.zeros(3), "eigenvalues_", "three components", **EIGEN)


def test_fit_ignores_the_diagonal_of_a_graph_that_is_given():
    for make in (np.array, csr_array):
        model = SpectralClustering(2, affinity="precomputed", random_state=0).fit(make(W + 3 * np.eye(5)))
        graph = np.asarray(model.affinity_matrix_ if make is np.array else model.affinity_matrix_.toarray())
        assert_close(graph, W, "affinity_matrix_ of a graph with 3 on its diagonal", "without the diagonal", **ROUNDING)


@pytest.mark.parametrize("method", METHODS)
def test_fit_keeps_what_it_found(method):
    x, _ = groups()
    model = SpectralClustering(3, method=method, affinity="full", scale=0.8, random_state=0)
    assert model.fit(x) is model, "fit must return the model itself"
    graph = gaussian_graph(squared_distances(x), 0.8)
    assert_close(model.affinity_matrix_, graph, "affinity_matrix_", "gaussian_graph", **ROUNDING)
    values, embedding = spectral_embedding(graph, 3, method)
    assert_close(model.eigenvalues_, values, "eigenvalues_", "those of spectral_embedding", **EIGEN)
    products = embedding @ embedding.T
    assert_close(model.embedding_ @ model.embedding_.T, products, "embedding_ embedding_'", "(3)", **EIGEN)
    assert model.n_clusters_ == 3, f"n_clusters_ is {model.n_clusters_}, expected 3"
    assert set(model.labels_.tolist()) == {0, 1, 2}, f"labels_ holds {set(model.labels_.tolist())}, expected 0, 1, 2"
    assert (model.fit_predict(x) == model.labels_).all(), "fit_predict must return labels_"


@pytest.mark.parametrize("method", METHODS)
def test_fit_chooses_the_number_of_clusters_by_the_eigengap(method):
    x, truth = groups()
    options = {"method": method, "affinity": "full", "scale": 0.8, "random_state": 0}
    model = SpectralClustering(None, **options).fit(x)
    got = model.n_clusters_, model.embedding_.shape, model.eigenvalues_.shape
    expected = 3, (60, 3), (3,)
    assert got == expected, f"SpectralClustering(None, {method!r}) of three groups found {got}, expected {expected}"
    assert matched_accuracy(model.labels_, truth) == 1, f"its labels are {model.labels_}"
    got = SpectralClustering(None, max_clusters=3, **options).fit(x).n_clusters_
    assert got == 3, f"SpectralClustering(None, {method!r}, max_clusters=3) of three groups found {got}"


def test_fit_may_choose_at_most_max_clusters():
    x, _ = groups()
    got = SpectralClustering(None, affinity="full", scale=0.8, max_clusters=2, random_state=0).fit(x).n_clusters_
    assert got <= 2, f"SpectralClustering(None, max_clusters=2) found {got} clusters"
    got = SpectralClustering(None, affinity="full", scale=1.0, random_state=0).fit(X).n_clusters_
    assert got <= 6, f"SpectralClustering(None) of 7 samples found {got} clusters, expected 6 at most"


@pytest.mark.parametrize("n_init", [1, 4])
def test_fit_gives_its_random_state_and_starts_to_k_means(n_init):
    x = np.random.default_rng(3).normal(size=(60, 2))
    for seed in (3, 4):
        model = SpectralClustering(5, n_init=n_init, random_state=seed).fit(x)
        expected = kmeans(model.embedding_, 5, rng=np.random.default_rng(seed), n_init=n_init).labels
        call = f"labels_ with n_init={n_init}, random_state={seed}"
        assert_close(model.labels_, expected, call, "those of kmeans on embedding_, as the docstring says")
    again = SpectralClustering(5, n_init=n_init, random_state=np.random.default_rng(4)).fit(x).labels_
    assert_close(again, model.labels_, "labels_ with the generator of that seed", "the same labels")


def test_fit_of_one_cluster():
    got = SpectralClustering(1, n_neighbors=3, random_state=0).fit(X).labels_
    assert_close(got, np.zeros(7), "SpectralClustering(1).fit(X).labels_", "one label")


def test_fit_leaves_the_samples_alone():
    leaves_alone(SpectralClustering(2, n_neighbors=3, random_state=0).fit, X)
    leaves_alone(SpectralClustering(2, affinity="precomputed", random_state=0).fit, W + np.eye(5))


GRID = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0)), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("data", ["crescents", "a grid", "copies"])
def test_fit_uses_the_graph_that_it_is_told_to(data):
    x = {"crescents": MOONS[:40], "a grid": GRID, "copies": np.repeat(X, 2, axis=0)}[data]
    squared = squared_distances(x)
    for affinity, expected in (
        ("knn", knn_graph(squared, 4)),
        ("mutual_knn", mutual_knn_graph(squared, 4)),
        ("self_tuning", csr_array(self_tuning_graph(squared, 4))),
        ("epsilon", epsilon_graph(squared, 1.3)),
    ):
        model = SpectralClustering(2, affinity=affinity, n_neighbors=4, radius=1.3, random_state=0).fit(x)
        got = csr_array(model.affinity_matrix_).toarray()
        call = f"affinity_matrix_ of {data}, {affinity!r}"
        assert_close(got, expected.toarray(), call, "the exercise before", **ROUNDING)


@pytest.mark.given
@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"method": "cosine"}, "method"),
        ({"affinity": "cosine"}, "affinity"),
        ({"n_clusters": 0}, "n_clusters"),
        ({"n_clusters": 8}, "n_clusters"),
        ({"n_neighbors": 7}, "n_neighbors"),
        ({"max_clusters": 0}, "max_clusters"),
        ({"affinity": "full", "scale": 0.0}, "scale"),
        ({"affinity": "epsilon", "radius": -1.0}, "radius"),
    ],
)
def test_fit_refuses(options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        SpectralClustering(**{"n_neighbors": 3, **options}).fit(X)
    with pytest.raises(ValueError, match="X must"):
        SpectralClustering().fit(X * np.nan)
