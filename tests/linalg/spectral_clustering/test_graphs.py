"""Shared tests of linalg/spectral_clustering/graphs: run on the reference, and on the learner's file.

Weights and distances are a few operations each: 1e-12 is thousands of roundings. Who is a neighbour of whom is exact wherever no two distances are nearly the same.
The oracles are SciPy's distances and components, and scikit-learn's graphs of neighbours.
"""

import warnings

import numpy as np
import pytest
import scipy.sparse.csgraph
from scipy.sparse import csr_array
from scipy.spatial.distance import pdist, squareform
from sklearn.neighbors import kneighbors_graph, radius_neighbors_graph

from mlpath.linalg.spectral_clustering.graphs import (
    connected_components,
    epsilon_graph,
    gaussian_graph,
    knn_graph,
    mutual_knn_graph,
    self_tuning_graph,
    squared_distances,
    squared_reaches,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-12, "atol": 0.0, "tolerance": "nothing but rounding separates them"}
X = np.array([[0.3, 1.1, -0.6], [1.5, 0.7, 0.2], [-0.4, 2.9, 1.3], [2.2, 3.6, -1.7]])

# Distances chosen by hand. The nearest others are 1.3, 1.3, 1.7, 1.9, 4.1 away, the second nearest 2.3, 1.7, 1.9, 2.8, 4.5.
DISTANCES = np.array(
    [
        [0.0, 1.3, 2.3, 3.5, 5.6],
        [1.3, 0.0, 1.7, 2.8, 5.1],
        [2.3, 1.7, 0.0, 1.9, 4.5],
        [3.5, 2.8, 1.9, 0.0, 4.1],
        [5.6, 5.1, 4.5, 4.1, 0.0],
    ]
)
SQUARED = DISTANCES**2
GRID = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0)), axis=-1).reshape(-1, 2)  # many ties


def cloud(n=60, d=3, seed=0):
    return np.random.default_rng(seed).normal(1.0, 2.0, (n, d))


def pairs(x):
    """SciPy's squared distances."""
    return squareform(pdist(x, "sqeuclidean"))


def entries(graph, call):
    """A sparse graph as a matrix, after looking at how it is stored."""
    assert isinstance(graph, csr_array), f"{call} returned a {type(graph).__name__}, expected a csr_array"
    matrix = graph.toarray()
    assert not np.diagonal(matrix).any(), f"{call} joins a sample to itself: its diagonal is {np.diagonal(matrix)}"
    assert graph.nnz == np.count_nonzero(matrix), (
        f"{call} stores {graph.nnz} entries, of which {np.count_nonzero(matrix)} are edges"
    )
    return matrix


def assert_edges(graph, squared, expected, call, because):
    """Compare the squared lengths of edges, which tell more than ones do; then the weights."""
    matrix = entries(graph, call)
    lengths = np.where(expected, squared, 0.0)
    assert_close(
        np.where(matrix, squared, 0.0), lengths, f"the squared lengths of the edges of {call}: it", because, atol=0
    )
    assert_close(matrix, np.array(expected, dtype=float), f"{call}.toarray()", f"{because}, with weights of 1", atol=0)


def joined(n, *edges):
    """The matrix with True where there is an edge."""
    matrix = np.zeros((n, n), dtype=bool)
    for i, j in edges:
        matrix[i, j] = matrix[j, i] = True
    return matrix


def leaves_alone(function, array, *arguments):
    copy = array.copy()
    function(copy, *arguments)
    assert np.array_equal(copy, array), f"{function.__name__} changed its argument"


def keeps_single_precision(function, array, *arguments):
    got = function(array.astype(np.float32), *arguments).dtype
    assert got == np.float32, f"{function.__name__} of float32 returned {got}, expected float32"


# squared_distances


def test_squared_distances_by_hand():
    expected = np.zeros((4, 4))
    for i, j, value in (
        (0, 1, 1.44 + 0.16 + 0.64),
        (0, 2, 0.49 + 3.24 + 3.61),
        (0, 3, 3.61 + 6.25 + 1.21),
        (1, 2, 3.61 + 4.84 + 1.21),
        (1, 3, 0.49 + 8.41 + 3.61),
        (2, 3, 6.76 + 0.49 + 9.0),
    ):
        expected[i, j] = expected[j, i] = value
    assert_close(squared_distances(X), expected, f"squared_distances({X.tolist()})", "equation (1)", **ROUNDING)


@pytest.mark.parametrize(("n", "d"), [(1, 3), (2, 1), (7, 40), (40, 3)])
def test_squared_distances_agrees_with_scipy_for_any_shape(n, d):
    x = cloud(n, d)
    assert_close(squared_distances(x), pairs(x), f"squared_distances of {n} samples, {d} features", "(1)", **ROUNDING)


def test_squared_distances_are_right_within_tight_groups_far_apart():
    # Steps of 2^-20 around points near 1000 are exact, so that (1) is too.
    steps = np.random.default_rng(1).integers(-50, 50, (12, 2)) * 2.0**-20
    x = np.concatenate([steps, steps[::-1] + np.array([1000.0, -3000.0])])
    call = "squared_distances of two tight groups, 3000 apart,"
    assert_close(squared_distances(x), pairs(x), call, "(1), to a few roundings of each entry", **ROUNDING)


def test_squared_distances_of_equal_samples_are_exactly_zero():
    x = np.repeat(cloud(5, 30) * 1000, 3, axis=0)
    got = squared_distances(x)
    equal = (x[:, None] == x).all(axis=2)
    assert not got[equal].any(), f"squared_distances has {np.abs(got[equal]).max():.3g} between equal samples"
    assert got.min() >= 0, f"squared_distances has an entry of {got.min():.3g}; none may be negative"


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_squared_distances_at_any_scale(scale):
    got = squared_distances(X * scale) / scale / scale
    assert_close(got, pairs(X), f"squared_distances({scale:g} X) / {scale:g}^2", "equation (1)", **ROUNDING)


def test_squared_distances_keeps_to_its_argument():
    leaves_alone(squared_distances, X)
    keeps_single_precision(squared_distances, X)
    got = squared_distances(np.array([[1, 2], [4, 6]]))
    assert_close(got, [[0.0, 25.0], [25.0, 0.0]], "squared_distances([[1, 2], [4, 6]])", "equation (1)", **ROUNDING)


@pytest.mark.given
@pytest.mark.parametrize("x", [X[0], X[:0], np.full((3, 2), np.nan), np.full((3, 2), np.inf), X * 1j], ids=str)
def test_squared_distances_refuses(x):
    with pytest.raises(ValueError, match="x must"):
        squared_distances(x)


# gaussian_graph


def test_gaussian_graph_by_hand():
    got = gaussian_graph(SQUARED, 1.7)
    expected = np.exp(-((DISTANCES / 1.7) ** 2) / 2) - np.eye(5)
    assert_close(got, expected, "gaussian_graph(squared, 1.7)", "equation (2)", **ROUNDING)


def test_gaussian_graph_has_no_self_loops():
    got = np.diagonal(gaussian_graph(pairs(np.repeat(X, 2, axis=0)), 0.8))
    assert not got.any(), f"the diagonal of gaussian_graph is {got}, expected 0: no sample is its own neighbour"


def test_gaussian_graph_joins_equal_samples_with_weight_one():
    x = np.repeat(X, 2, axis=0)
    got = gaussian_graph(pairs(x), 0.8)[::2, 1::2]
    assert_close(got.diagonal(), np.ones(4), "gaussian_graph between equal samples", "(2) at distance 0", **ROUNDING)


@pytest.mark.parametrize("size", [1e150, 1e-150])
def test_gaussian_graph_depends_on_ratios_only(size):
    got = gaussian_graph(SQUARED * size**2, 1.7 * size)
    expected = np.exp(-SQUARED / 5.78) - np.eye(5)
    assert_close(got, expected, f"gaussian_graph(squared * {size:g}^2, 1.7 * {size:g})", "equation (2)", **ROUNDING)


def test_gaussian_graph_keeps_to_its_argument():
    leaves_alone(gaussian_graph, SQUARED, 1.7)
    keeps_single_precision(gaussian_graph, SQUARED, 1.7)


# What is no matrix of squared distances, for all functions that take one.
BAD = {
    "not square": np.zeros((2, 3)),
    "not symmetric": np.array([[0.0, 1.0], [2.0, 0.0]]),
    "negative": np.array([[0.0, -1.0], [-1.0, 0.0]]),
    "a diagonal": np.array([[0.5, 1.0], [1.0, 0.0]]),
    "nan": np.array([[0.0, np.nan], [np.nan, 0.0]]),
    "one axis": np.zeros(3),
}


@pytest.mark.given
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "function", [gaussian_graph, epsilon_graph, squared_reaches, knn_graph, mutual_knn_graph, self_tuning_graph]
)
def test_gaussian_graph_and_the_others_refuse_what_are_no_distances(function, bad):
    with pytest.raises(ValueError, match="squared must"):
        function(BAD[bad], 1)


@pytest.mark.given
@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_gaussian_graph_and_epsilon_graph_refuse_what_is_no_length(value):
    with pytest.raises(ValueError, match="scale must"):
        gaussian_graph(SQUARED, value)
    with pytest.raises(ValueError, match="radius must"):
        epsilon_graph(SQUARED, value)


# epsilon_graph


def test_epsilon_graph_by_hand():
    expected = joined(5, (0, 1), (1, 2), (2, 3), (0, 2))
    got = epsilon_graph(SQUARED, 2.5)
    assert_edges(got, SQUARED, expected, "epsilon_graph(squared, 2.5)", "equation (3)")


def test_epsilon_graph_includes_the_radius_itself():
    squared = np.array([[0.0, 9.0, 25.0], [9.0, 0.0, 16.0], [25.0, 16.0, 0.0]])
    expected = joined(3, (0, 1), (1, 2))
    assert_edges(epsilon_graph(squared, 4.0), squared, expected, "epsilon_graph(3-4-5, 4.0)", "(3): at most")


def test_epsilon_graph_can_have_no_edge_or_all():
    assert_edges(epsilon_graph(SQUARED, 1.2), SQUARED, joined(5), "epsilon_graph(squared, 1.2)", "equation (3)")
    everything = ~np.eye(5, dtype=bool)
    assert_edges(epsilon_graph(SQUARED, 1e200), SQUARED, everything, "epsilon_graph(squared, 1e200)", "equation (3)")


@pytest.mark.parametrize("radius", [0.7, 1.5, 3.0])
def test_epsilon_graph_agrees_with_scikit_learn(radius):
    x = cloud()
    expected = radius_neighbors_graph(x, radius).toarray() > 0
    call = f"epsilon_graph of 60 samples, radius {radius},"
    assert_edges(epsilon_graph(pairs(x), radius), pairs(x), expected, call, "scikit-learn")


def test_epsilon_graph_joins_equal_samples():
    squared = pairs(np.array([[0.3, 0.1], [0.3, 0.1], [2.0, 1.0]]))
    got = entries(epsilon_graph(squared, 0.5), "epsilon_graph")
    assert_close(got, joined(3, (0, 1)).astype(float), "epsilon_graph with two equal samples", "(3): they are 0 apart")


def test_epsilon_graph_keeps_to_its_argument():
    leaves_alone(epsilon_graph, SQUARED, 2.5)
    keeps_single_precision(epsilon_graph, SQUARED, 2.5)


# squared_reaches


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, [1.3, 1.3, 1.7, 1.9, 4.1]), (2, [2.3, 1.7, 1.9, 2.8, 4.5]), (4, [5.6, 5.1, 4.5, 4.1, 5.6])],
)
def test_squared_reaches_by_hand(k, expected):
    got = squared_reaches(SQUARED, k)
    call = f"squared_reaches(squared, {k})"
    assert_close(got, np.square(expected), call, "the k-th smallest of the others in each row", **ROUNDING)


def test_squared_reaches_counts_copies_as_neighbours():
    squared = pairs(np.array([[0.0], [0.0], [0.0], [1.5], [4.0]]))
    for k, expected in ((1, [0, 0, 0, 2.25, 6.25]), (2, [0, 0, 0, 2.25, 16]), (3, [2.25, 2.25, 2.25, 2.25, 16])):
        call = f"squared_reaches of 0, 0, 0, 1.5, 4 on a line, k = {k},"
        assert_close(squared_reaches(squared, k), np.array(expected, float), call, "copies are 0 apart", **ROUNDING)


@pytest.mark.parametrize("k", [1, 7, 59])
def test_squared_reaches_agrees_with_sorting(k):
    squared = pairs(cloud())
    expected = [np.sort(np.delete(row, i))[k - 1] for i, row in enumerate(squared)]
    assert_close(squared_reaches(squared, k), expected, f"squared_reaches of 60 samples, k = {k},", "sorting", atol=0)


def test_squared_reaches_keeps_to_its_argument():
    leaves_alone(squared_reaches, SQUARED, 2)
    keeps_single_precision(squared_reaches, SQUARED, 2)


@pytest.mark.given
@pytest.mark.parametrize("k", [0, 5, -1, 1.5])
@pytest.mark.parametrize("function", [squared_reaches, knn_graph, mutual_knn_graph, self_tuning_graph])
def test_squared_reaches_and_the_others_refuse_such_a_k(function, k):
    with pytest.raises(ValueError, match="k must"):
        function(SQUARED, k)


# knn_graph


@pytest.mark.parametrize(
    ("k", "edges"),
    [
        (1, [(0, 1), (1, 2), (2, 3), (3, 4)]),
        (2, [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4)]),
    ],
)
def test_knn_graph_by_hand(k, edges):
    got = knn_graph(SQUARED, k)
    assert_edges(got, SQUARED, joined(5, *edges), f"knn_graph(squared, {k})", "(4): one of the two asks")


@pytest.mark.parametrize("k", [1, 5, 59])
def test_knn_graph_agrees_with_scikit_learn(k):
    x = cloud()
    asked = kneighbors_graph(x, k, include_self=False).toarray() > 0
    call = f"knn_graph of 60 samples, k = {k},"
    assert_edges(knn_graph(pairs(x), k), pairs(x), asked | asked.T, call, "scikit-learn, made symmetric by 'or'")


@pytest.mark.parametrize("k", [1, 2])
def test_knn_graph_takes_all_that_tie(k):
    got = knn_graph(pairs(GRID), k)
    expected = pairs(GRID) == 1
    assert_edges(got, pairs(GRID), expected, f"knn_graph of a grid, k = {k},", "(4): all at distance 1 tie")


def test_knn_graph_of_copies():
    squared = pairs(np.array([[0.0], [0.0], [0.0], [1.5], [4.0]]))
    expected = joined(5, (0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (3, 4))
    call = "knn_graph of 0, 0, 0, 1.5, 4 on a line, k = 1,"
    assert_close(entries(knn_graph(squared, 1), call), expected.astype(float), call, "equation (4)")


def test_knn_graph_does_not_depend_on_the_order_of_samples():
    order = np.random.default_rng(2).permutation(len(GRID))
    before, after = knn_graph(pairs(GRID), 3).toarray(), knn_graph(pairs(GRID[order]), 3).toarray()
    assert_close(after, before[np.ix_(order, order)], "knn_graph of a grid in another order", "the same edges", atol=0)


def test_knn_graph_keeps_to_its_argument():
    leaves_alone(knn_graph, SQUARED, 2)
    keeps_single_precision(knn_graph, SQUARED, 2)


# mutual_knn_graph


@pytest.mark.parametrize(
    ("k", "edges"),
    [(1, [(0, 1)]), (2, [(0, 1), (1, 2), (2, 3)]), (3, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])],
)
def test_mutual_knn_graph_by_hand(k, edges):
    got = mutual_knn_graph(SQUARED, k)
    assert_edges(got, SQUARED, joined(5, *edges), f"mutual_knn_graph(squared, {k})", "(5): both ask")


@pytest.mark.parametrize("k", [1, 5, 59])
def test_mutual_knn_graph_agrees_with_scikit_learn(k):
    x = cloud()
    asked = kneighbors_graph(x, k, include_self=False).toarray() > 0
    call = f"mutual_knn_graph of 60 samples, k = {k},"
    assert_edges(mutual_knn_graph(pairs(x), k), pairs(x), asked & asked.T, call, "scikit-learn, by 'and'")


def test_mutual_knn_graph_takes_all_that_tie():
    got = mutual_knn_graph(pairs(GRID), 2)
    expected = pairs(GRID) == 1
    assert_edges(got, pairs(GRID), expected, "mutual_knn_graph of a grid, k = 2,", "(5): all at distance 1 tie")


def test_mutual_knn_graph_of_copies():
    squared = pairs(np.array([[0.0], [0.0], [0.0], [1.5], [4.0]]))
    expected = joined(5, (0, 1), (0, 2), (1, 2))
    call = "mutual_knn_graph of 0, 0, 0, 1.5, 4 on a line, k = 1,"
    assert_close(entries(mutual_knn_graph(squared, 1), call), expected.astype(float), call, "equation (5)")


def test_mutual_knn_graph_keeps_to_its_argument():
    leaves_alone(mutual_knn_graph, SQUARED, 2)
    keeps_single_precision(mutual_knn_graph, SQUARED, 2)


# self_tuning_graph


def test_self_tuning_graph_by_hand():
    scales = np.array([2.3, 1.7, 1.9, 2.8, 4.5])
    expected = np.exp(-SQUARED / np.outer(scales, scales)) - np.eye(5)
    assert_close(self_tuning_graph(SQUARED, 2), expected, "self_tuning_graph(squared, 2)", "equation (6)", **ROUNDING)


def test_self_tuning_graph_takes_the_seventh_neighbour_if_not_told():
    squared = pairs(cloud())
    scales = np.sqrt([np.sort(row)[7] for row in squared])
    expected = np.exp(-squared / np.outer(scales, scales)) - np.eye(60)
    assert_close(self_tuning_graph(squared), expected, "self_tuning_graph(squared)", "(6), k = 7", **ROUNDING)


def test_self_tuning_graph_of_copies_is_the_limit():
    squared = pairs(np.array([[0.0], [0.0], [0.8], [3.3]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = self_tuning_graph(squared, 1)
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 1
    expected[2, 3] = expected[3, 2] = np.exp(-6.25 / (0.8 * 2.5))
    call = "self_tuning_graph of 0, 0, 0.8, 3.3 on a line, k = 1,"
    assert_close(got, expected, call, "(6) in the limit of scales of 0", **ROUNDING)


def test_self_tuning_graph_has_no_self_loops():
    got = np.diagonal(self_tuning_graph(pairs(np.repeat(X, 3, axis=0)), 2))
    assert not got.any(), f"the diagonal of self_tuning_graph is {got}, expected 0: no sample is its own neighbour"


@pytest.mark.parametrize("size", [1e150, 1e-150])
def test_self_tuning_graph_does_not_depend_on_the_unit_of_length(size):
    expected = self_tuning_graph(SQUARED, 2)
    got = self_tuning_graph(SQUARED * size**2, 2)
    assert_close(got, expected, f"self_tuning_graph(squared * {size:g}^2, 2)", "that of squared, by (6)", **ROUNDING)


def test_self_tuning_graph_treats_dense_and_sparse_groups_alike():
    dense = cloud(20)
    x = np.concatenate([dense, 1000 + 50 * dense])
    got = self_tuning_graph(pairs(x), 5)
    call = "self_tuning_graph within a group 50 times as wide as another"
    assert_close(got[20:, 20:], got[:20, :20], call, "that within the other, by (6)", rtol=1e-9)


def test_self_tuning_graph_keeps_to_its_argument():
    leaves_alone(self_tuning_graph, SQUARED, 2)
    keeps_single_precision(self_tuning_graph, SQUARED, 2)


# connected_components


def test_connected_components_by_hand():
    # 0 - 5 - 2 - 6, 1 - 4, and 3 alone: labels in the order of first vertices.
    graph = 0.37 * joined(7, (0, 5), (5, 2), (2, 6), (1, 4))
    for matrix, kind in ((graph, "a dense graph"), (csr_array(graph), "a sparse graph")):
        got = connected_components(matrix)
        call = f"connected_components of {kind} with the edges 0-5, 5-2, 2-6, 1-4"
        assert_close(got, [0, 1, 0, 2, 1, 0, 0], call, "paths, numbered by first vertices")


@pytest.mark.parametrize("n_edges", [0, 15, 30, 45, 90])
def test_connected_components_agrees_with_scipy(n_edges):
    rng = np.random.default_rng(n_edges)
    graph = joined(60, *rng.integers(0, 60, (n_edges, 2))) * 0.5
    expected = scipy.sparse.csgraph.connected_components(csr_array(graph), directed=False)[1]
    _, first = np.unique(expected, return_index=True)
    expected = np.argsort(np.argsort(first))[expected]
    got = connected_components(csr_array(graph))
    assert_close(got, expected, f"connected_components of 60 vertices and {n_edges} random edges", "SciPy")


def test_connected_components_of_a_long_path():
    # From the middle outwards the vertices are numbered at random: neither recursion nor a few sweeps get through.
    order = np.random.default_rng(3).permutation(1500)
    a, b = order[:-1], order[1:]
    half = csr_array((np.ones(1499), (a, b)), shape=(1500, 1500))
    got = connected_components(csr_array(half + half.T))
    assert got.max() == 0, (
        f"connected_components of a path of 1500 vertices found {got.max() + 1} components, expected 1"
    )


def test_connected_components_ignores_weights_and_stored_zeros():
    rows, columns = [0, 1, 1, 2, 2, 3, 0], [1, 0, 2, 1, 3, 2, 0]
    graph = csr_array(([1e-300, 1e-300, 0.0, 0.0, -2.5, -2.5, 7.0], (rows, columns)), shape=(4, 4))
    got = connected_components(graph)
    call = "connected_components with weights 1e-300 on 0-1, a stored 0 on 1-2, -2.5 on 2-3 and 7 on 0-0"
    assert_close(got, [0, 0, 1, 1], call, "an edge is where the weight is not 0")
    assert graph.nnz == 7, f"connected_components changed its argument: {graph.nnz} entries are left of 7"


def test_connected_components_of_a_graph_of_neighbours():
    x = cloud(12)
    graph = knn_graph(pairs(np.concatenate([x, x + 100, x - 100])), 4)
    call = "connected_components of three groups far apart, 4 neighbours,"
    assert_close(connected_components(graph), np.repeat([0, 1, 2], 12), call, "one for each group")


def test_connected_components_of_one_vertex():
    assert_close(connected_components(np.zeros((1, 1))), [0], "connected_components([[0]])", "a component by itself")


@pytest.mark.given
@pytest.mark.parametrize(
    "graph",
    [np.ones((2, 3)), np.ones(3), np.array([[0.0, 1.0], [0.0, 0.0]]), np.full((2, 2), np.nan), np.zeros((0, 0))],
    ids=["not square", "one axis", "one way", "nan", "empty"],
)
def test_connected_components_refuses(graph):
    with pytest.raises(ValueError, match="graph must"):
        connected_components(graph)
