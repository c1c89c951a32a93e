"""Shared tests of linalg/spectral_clustering/laplacians: run on the reference, and on the learner's file.

Entries of Laplacians are a few operations each: 1e-12 is thousands of roundings. Eigenvalues are right to a few roundings of the largest one, for sparse graphs to
some 1e-12 of it, as these come from an inverse; eigenvectors are judged by what they leave, never by their signs or bases. The oracles are SciPy's Laplacian and
generalised eigenproblem, and the spectra of paths, cycles, stars and complete graphs, which are known.
"""

import functools
import itertools
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse.csgraph
from scipy.sparse import csr_array, issparse

from mlpath.linalg.spectral_clustering.laplacians import (
    Cut,
    cut_values,
    degrees,
    quadratic_form,
    random_walk_laplacian,
    smallest_eigenpairs,
    sweep_cut,
    symmetric_laplacian,
    unnormalised_laplacian,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-12, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}
EIGEN = {"rtol": 0.0, "atol": 1e-9, "tolerance": "the inverse of a sparse matrix costs some digits"}
W = np.array(
    [
        [0.0, 1.2, 0.5, 0.0, 0.0],
        [1.2, 0.0, 0.7, 0.0, 0.0],
        [0.5, 0.7, 0.0, 0.3, 0.0],
        [0.0, 0.0, 0.3, 0.0, 2.1],
        [0.0, 0.0, 0.0, 2.1, 0.0],
    ]
)
D = np.array([1.7, 1.9, 1.5, 2.4, 2.1])
LONELY = np.array([[0.0, 0.0, 1.6, 0.4], [0.0, 0.0, 0.0, 0.0], [1.6, 0.0, 0.0, 0.9], [0.4, 0.0, 0.9, 0.0]])
KINDS: dict[str, Any] = {"dense": np.array, "sparse": csr_array}
LAPLACIANS = [unnormalised_laplacian, symmetric_laplacian, random_walk_laplacian]


@functools.cache
def random_graph(n=30, density=0.2, seed=0):
    """Random weights; some vertices are isolated."""
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.uniform(0.1, 3.0, (n, n)) * (rng.uniform(size=(n, n)) < density), 1)
    upper[:, 3] = upper[3] = upper[:, n - 2] = upper[n - 2] = 0
    return upper + upper.T


def path(n):
    return np.eye(n, k=1) + np.eye(n, k=-1)


def cycle(n):
    return np.roll(np.eye(n), 1, axis=0) + np.roll(np.eye(n), -1, axis=0)


def complete(n):
    return np.ones((n, n)) - np.eye(n)


def star(n):
    w = np.zeros((n, n))
    w[0, 1:] = w[1:, 0] = 1
    return w


def blocks(*graphs) -> Any:
    return scipy.linalg.block_diag(*graphs)


def matrix(result, graph, call):
    """A Laplacian as an array, after looking at its kind."""
    if issparse(graph):
        assert isinstance(result, csr_array), f"{call} of a csr_array returned a {type(result).__name__}"
        return result.toarray()
    assert isinstance(result, np.ndarray), f"{call} of an array returned a {type(result).__name__}"
    return result


def leaves_alone(function, graph, *arguments):
    for kind in KINDS.values():
        given = kind(graph)
        function(given, *arguments)
        now = given.toarray() if issparse(given) else given
        assert np.array_equal(now, graph), f"{function.__name__} changed the graph it was given"


BAD = {
    "not square": np.ones((2, 3)),
    "one axis": np.ones(3),
    "negative": np.array([[0.0, -1.0], [-1.0, 0.0]]),
    "one way": np.array([[0.0, 1.0], [0.0, 0.0]]),
    "nan": np.array([[0.0, np.nan], [np.nan, 0.0]]),
    "a loop": np.array([[1.0, 1.0], [1.0, 0.0]]),
}


# degrees


@pytest.mark.parametrize("kind", KINDS)
def test_degrees_by_hand(kind):
    got = degrees(KINDS[kind](W))
    assert_close(got, D, f"degrees({W.tolist()}), {kind},", "equation (1)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_degrees_of_isolated_vertices_are_zero(kind):
    assert_close(degrees(KINDS[kind](LONELY)), [2.0, 0.0, 2.5, 1.3], f"degrees, {kind}", "equation (1)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_degrees_keeps_single_precision_and_takes_whole_numbers(kind):
    got = degrees(KINDS[kind](W.astype(np.float32))).dtype
    assert got == np.float32, f"degrees of float32 returned {got}, expected float32"
    got = degrees(KINDS[kind](star(4).astype(int)))
    assert_close(got, [3.0, 1.0, 1.0, 1.0], f"degrees of a star in whole numbers, {kind},", "equation (1)", **ROUNDING)


def test_degrees_leaves_the_graph_alone():
    leaves_alone(degrees, W)


@pytest.mark.given
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("function", [degrees, *LAPLACIANS, lambda w: smallest_eigenpairs(w, 1)])
def test_degrees_and_the_others_refuse_what_is_no_graph(function, bad):
    with pytest.raises(ValueError, match="graph must"):
        function(BAD[bad])
    if bad != "one axis":
        with pytest.raises(ValueError, match="graph must"):
            function(csr_array(BAD[bad]))


# unnormalised_laplacian


@pytest.mark.parametrize("kind", KINDS)
def test_unnormalised_laplacian_by_hand(kind):
    graph = KINDS[kind](W)
    got = matrix(unnormalised_laplacian(graph), graph, "unnormalised_laplacian")
    assert_close(got, np.diag(D) - W, f"unnormalised_laplacian({W.tolist()}), {kind},", "equation (2)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_unnormalised_laplacian_agrees_with_scipy(kind):
    graph = KINDS[kind](random_graph())
    got = matrix(unnormalised_laplacian(graph), graph, "unnormalised_laplacian")
    expected = scipy.sparse.csgraph.laplacian(random_graph())
    assert_close(got, expected, f"unnormalised_laplacian of a random graph, {kind},", "SciPy", **ROUNDING)


def test_unnormalised_laplacian_keeps_to_its_argument():
    leaves_alone(unnormalised_laplacian, W)
    for kind, make in KINDS.items():
        got = unnormalised_laplacian(make(W.astype(np.float32))).dtype
        assert got == np.float32, f"unnormalised_laplacian of a {kind} float32 graph returned {got}, expected float32"


# symmetric_laplacian


@pytest.mark.parametrize("kind", KINDS)
def test_symmetric_laplacian_by_hand(kind):
    graph = KINDS[kind](W)
    got = matrix(symmetric_laplacian(graph), graph, "symmetric_laplacian")
    expected = np.eye(5) - W / np.sqrt(np.outer(D, D))
    assert_close(got, expected, f"symmetric_laplacian({W.tolist()}), {kind},", "equation (3)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_symmetric_laplacian_is_zero_at_isolated_vertices(kind):
    graph = KINDS[kind](LONELY)
    got = matrix(symmetric_laplacian(graph), graph, "symmetric_laplacian")
    d = np.array([2.0, 1.0, 2.5, 1.3])
    expected = np.diag([1.0, 0.0, 1.0, 1.0]) - LONELY / np.sqrt(np.outer(d, d))
    assert_close(
        got, expected, f"symmetric_laplacian with vertex 1 isolated, {kind},", "the text below (4)", **ROUNDING
    )


@pytest.mark.parametrize("kind", KINDS)
def test_symmetric_laplacian_agrees_with_scipy(kind):
    graph = KINDS[kind](random_graph())
    got = matrix(symmetric_laplacian(graph), graph, "symmetric_laplacian")
    expected = scipy.sparse.csgraph.laplacian(random_graph(), normed=True)
    assert_close(got, expected, f"symmetric_laplacian of a random graph, {kind},", "SciPy", **ROUNDING)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_symmetric_laplacian_does_not_depend_on_the_unit_of_weights(scale):
    got = symmetric_laplacian(W * scale)
    expected = np.eye(5) - W / np.sqrt(np.outer(D, D))
    assert_close(got, expected, f"symmetric_laplacian({scale:g} W)", "that of W, by (3)", **ROUNDING)


def test_symmetric_laplacian_keeps_to_its_argument():
    leaves_alone(symmetric_laplacian, W)
    for kind, make in KINDS.items():
        got = symmetric_laplacian(make(W.astype(np.float32))).dtype
        assert got == np.float32, f"symmetric_laplacian of a {kind} float32 graph returned {got}, expected float32"


# random_walk_laplacian


@pytest.mark.parametrize("kind", KINDS)
def test_random_walk_laplacian_by_hand(kind):
    graph = KINDS[kind](W)
    got = matrix(random_walk_laplacian(graph), graph, "random_walk_laplacian")
    expected = np.eye(5) - W / D[:, None]
    assert_close(got, expected, f"random_walk_laplacian({W.tolist()}), {kind},", "equation (4)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_random_walk_laplacian_is_zero_at_isolated_vertices(kind):
    graph = KINDS[kind](LONELY)
    got = matrix(random_walk_laplacian(graph), graph, "random_walk_laplacian")
    expected = np.diag([1.0, 0.0, 1.0, 1.0]) - LONELY / np.array([2.0, 1.0, 2.5, 1.3])[:, None]
    assert_close(got, expected, f"random_walk_laplacian with vertex 1 isolated, {kind},", "below (4)", **ROUNDING)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_random_walk_laplacian_does_not_depend_on_the_unit_of_weights(scale):
    expected = np.eye(5) - W / D[:, None]
    call = f"random_walk_laplacian({scale:g} W)"
    assert_close(random_walk_laplacian(W * scale), expected, call, "that of W, by (4)", **ROUNDING)


def test_random_walk_laplacian_keeps_to_its_argument():
    leaves_alone(random_walk_laplacian, W)
    for kind, make in KINDS.items():
        got = random_walk_laplacian(make(W.astype(np.float32))).dtype
        assert got == np.float32, f"random_walk_laplacian of a {kind} float32 graph returned {got}, expected float32"


# quadratic_form

F = np.array([0.7, -1.1, 2.3, 0.4, -0.6])
FORM = 1.2 * 1.8**2 + 0.5 * 1.6**2 + 0.7 * 3.4**2 + 0.3 * 1.9**2 + 2.1 * 1.0**2


@pytest.mark.parametrize("kind", KINDS)
def test_quadratic_form_by_hand(kind):
    got = quadratic_form(KINDS[kind](W), F)
    assert_close(got, FORM, f"quadratic_form(W, {F.tolist()}), {kind},", "the right side of (5)", **ROUNDING)


def test_quadratic_form_is_that_of_the_laplacian():
    w = random_graph()
    f = np.random.default_rng(1).normal(size=30)
    expected = f @ (np.diag(w.sum(axis=1)) - w) @ f
    assert_close(quadratic_form(w, f), expected, "quadratic_form of a random graph", "f'Lf, (5)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_quadratic_form_does_not_see_a_constant(kind):
    graph, f = KINDS[kind](W), np.round(F * 16) / 16
    expected = quadratic_form(graph, f)
    got = quadratic_form(graph, f + 2.0**40)  # exact: sixteenths, with 44 bits before them
    assert_close(got, expected, f"quadratic_form(W, f + 2^40), {kind},", "quadratic_form(W, f): (5)", **ROUNDING)
    zero = quadratic_form(graph, np.full(5, 0.1))
    assert zero == 0, f"quadratic_form of a constant vector returned {zero}, expected 0 by (5)"
    zero = quadratic_form(KINDS[kind](LONELY), np.array([0.1, 1e9, 0.1, 0.1]))
    assert zero == 0, f"quadratic_form of a vector that is constant on components returned {zero}, expected 0 by (5)"


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_quadratic_form_at_any_scale(scale):
    got = quadratic_form(W, F * scale) / scale / scale
    assert_close(got, FORM, f"quadratic_form(W, {scale:g} f) / {scale:g}^2", "equation (5)", **ROUNDING)


def test_quadratic_form_leaves_its_arguments_alone():
    f = F.copy()
    leaves_alone(quadratic_form, W, f)
    assert np.array_equal(f, F), "quadratic_form changed its vector"


@pytest.mark.given
@pytest.mark.parametrize("f", [F[:4], W, F * np.nan, F * 1j], ids=["short", "two axes", "nan", "complex"])
def test_quadratic_form_and_sweep_cut_refuse_such_a_vector(f):
    with pytest.raises(ValueError, match="f must"):
        quadratic_form(W, f)
    with pytest.raises(ValueError, match="f must"):
        sweep_cut(W, f)


# smallest_eigenpairs

SPECTRA = {
    ("path", "unnormalised"): (path, lambda n: 2 - 2 * np.cos(np.pi * np.arange(n) / n)),
    ("cycle", "unnormalised"): (cycle, lambda n: 2 - 2 * np.cos(2 * np.pi * (np.arange(1, n + 1) // 2) / n)),
    ("complete", "unnormalised"): (complete, lambda n: np.r_[0.0, np.full(n - 1, n)]),
    ("star", "unnormalised"): (star, lambda n: np.r_[0.0, np.ones(n - 2), n]),
    ("path", "symmetric"): (path, lambda n: 1 - np.cos(np.pi * np.arange(n) / (n - 1))),
    ("cycle", "random_walk"): (cycle, lambda n: 1 - np.cos(2 * np.pi * (np.arange(1, n + 1) // 2) / n)),
    ("complete", "symmetric"): (complete, lambda n: np.r_[0.0, np.full(n - 1, n / (n - 1))]),
    ("star", "random_walk"): (star, lambda n: np.r_[0.0, np.ones(n - 2), 2]),
}


def assert_eigenpairs(graph, w, k, kind, name):
    """The eigenvalues are as many as wanted, rise, and belong to the vectors, which are normalised as the docstring says."""
    call = f"smallest_eigenpairs({name}, {k}, {kind!r})"
    values, vectors = smallest_eigenpairs(graph, k, kind)
    d = w.sum(axis=1)
    d = np.where(d > 0, d, 1)
    laplacian = np.diag(w.sum(axis=1)) - w
    masses = d if kind == "random_walk" else np.ones(len(w))
    operator = laplacian if kind == "unnormalised" else laplacian / np.sqrt(np.outer(d, d))
    expected = np.linalg.eigvalsh(operator)[:k]
    unit = {"rtol": 0.0, "atol": 1e-9 * max(1.0, operator.max()), "tolerance": "as of EIGEN, for the largest weights"}
    assert_close(values, expected, f"the values of {call}", "NumPy", **unit)
    assert values.min() >= 0, f"{call} returned the eigenvalue {values.min():.3g}; none is negative"
    gram = vectors.T @ (masses[:, None] * vectors)
    assert_close(gram, np.eye(k), f"U'DU for {call}" if kind == "random_walk" else f"V'V for {call}", "I", **EIGEN)
    left = (laplacian / d[:, None] if kind == "random_walk" else operator) @ vectors
    assert_close(left, vectors * values, f"the Laplacian times the vectors of {call}", "values times vectors", **unit)


@pytest.mark.parametrize("name", SPECTRA, ids=" ".join)
def test_smallest_eigenpairs_finds_spectra_that_are_known(name):
    make, spectrum = SPECTRA[name]
    for n, k in ((7, 7), (12, 5)):
        got = smallest_eigenpairs(make(n), k, name[1])[0]
        call = f"the values of smallest_eigenpairs({name[0]} of {n} vertices, {k}, {name[1]!r})"
        assert_close(got, spectrum(n)[:k], call, "the spectrum that is known", **EIGEN)


@pytest.mark.parametrize("kind", ["unnormalised", "symmetric", "random_walk"])
@pytest.mark.parametrize("form", KINDS)
def test_smallest_eigenpairs_are_eigenpairs(kind, form):
    for w, k, name in ((W, 5, "W"), (LONELY / 100, 3, "LONELY / 100"), (random_graph(), 4, "a random graph")):
        assert_eigenpairs(KINDS[form](w), w, k, kind, f"{name}, {form}")


@pytest.mark.parametrize("kind", ["unnormalised", "symmetric", "random_walk"])
def test_smallest_eigenpairs_of_larger_sparse_graphs(kind):
    w = blocks(cycle(40), np.zeros((2, 2)), cycle(40))  # eigenvalues up to four times each
    assert_eigenpairs(csr_array(w), w, 7, kind, "two cycles of 40 and two isolated vertices")


def test_smallest_eigenpairs_solves_the_generalised_problem():
    expected = scipy.linalg.eigh(np.diag(D) - W, np.diag(D))
    values, vectors = smallest_eigenpairs(W, 5, "random_walk")
    assert_close(values, expected[0], "the values of smallest_eigenpairs(W, 5, 'random_walk')", "(6)", **EIGEN)
    signs = np.sign((vectors * D[:, None] * expected[1]).sum(axis=0))
    call = "the vectors of smallest_eigenpairs(W, 5, 'random_walk'), up to signs,"
    assert_close(vectors * signs, expected[1], call, "SciPy's for L u = lambda D u, (6)", **EIGEN)


@pytest.mark.parametrize("form", KINDS)
def test_smallest_eigenpairs_counts_components(form):
    w = blocks(W, 3 * path(4), np.zeros((1, 1)), complete(5))
    pieces = np.repeat([0, 1, 2, 3], [5, 4, 1, 5])
    for kind in ("unnormalised", "symmetric", "random_walk"):
        values, vectors = smallest_eigenpairs(KINDS[form](w), 5, kind)
        zeros = np.count_nonzero(values < 1e-9)
        assert zeros == 4, f"the {kind} Laplacian of a graph in four pieces, {form}, has {zeros} eigenvalues of 0"
        if kind == "symmetric":
            d = w.sum(axis=1)
            vectors = vectors / np.sqrt(np.where(d > 0, d, 1))[:, None]
        spread = max(np.ptp(vectors[pieces == c, :4], axis=0).max() for c in range(4))
        assert spread < 1e-8, (
            f"{kind}, {form}: eigenvectors for 0 vary by {spread:.3g} within a component, by (5) not at all"
        )


def test_smallest_eigenpairs_is_symmetric_if_not_told():
    got, expected = smallest_eigenpairs(W, 3)[0], smallest_eigenpairs(W, 3, "symmetric")[0]
    assert_close(got, expected, "the values of smallest_eigenpairs(W, 3)", "kind='symmetric'", **EIGEN)


def test_smallest_eigenpairs_has_the_fiedler_vector_second():
    w = blocks(complete(6), complete(9))
    w[2, 10] = w[10, 2] = 0.1
    fiedler = smallest_eigenpairs(w, 2, "unnormalised")[1][:, 1]
    left, right = np.sign(fiedler[:6]), np.sign(fiedler[6:])
    assert abs(left.sum() - right.sum()) == 15, f"the Fiedler vector of two cliques joined by one edge is {fiedler}"


@pytest.mark.parametrize("kind", ["unnormalised", "symmetric", "random_walk"])
def test_smallest_eigenpairs_keeps_to_its_argument(kind):
    leaves_alone(lambda w: smallest_eigenpairs(w, 2, kind), W)
    for part, name in zip(smallest_eigenpairs(W.astype(np.float32), 2, kind), ("values", "vectors"), strict=True):
        assert part.dtype == np.float32, f"{name} of a {kind} Laplacian in float32 are {part.dtype}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(("k", "kind", "named"), [(0, "symmetric", "k"), (6, "symmetric", "k"), (2, "left", "kind")])
def test_smallest_eigenpairs_refuses(k, kind, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        smallest_eigenpairs(W, k, kind)


# cut_values


@pytest.mark.parametrize("kind", KINDS)
def test_cut_values_of_two_parts_by_hand(kind):
    got = cut_values(KINDS[kind](W), np.array([4, 4, -2, -2, -2]))  # edges 0-2 and 1-2 are cut: 0.5 + 0.7
    expected = Cut(1.2, 1.2 / 2 + 1.2 / 3, 1.2 / 3.6 + 1.2 / 6.0)
    assert_close(got, expected, f"cut_values(W, [4, 4, -2, -2, -2]), {kind}, ", "equation (7)", **ROUNDING)


@pytest.mark.parametrize("kind", KINDS)
def test_cut_values_of_three_parts_by_hand(kind):
    got = cut_values(KINDS[kind](W), np.array([1, 0, 1, 2, 2]))  # cut are 0-1, 1-2, and 2-3: 1.2 + 0.7 + 0.3
    expected = Cut(2.2, 1.9 / 1 + 2.2 / 2 + 0.3 / 2, 1.9 / 1.9 + 2.2 / 3.2 + 0.3 / 4.5)
    assert_close(got, expected, f"cut_values(W, [1, 0, 1, 2, 2]), {kind}, ", "equation (7)", **ROUNDING)


def test_cut_values_are_quadratic_forms_of_indicators():
    w = random_graph()
    labels = np.random.default_rng(2).integers(0, 4, 30)
    indicators = np.eye(4)[labels]
    laplacian = np.diag(w.sum(axis=1)) - w
    forms = np.diag(indicators.T @ laplacian @ indicators)
    expected = Cut(
        forms.sum() / 2, (forms / indicators.sum(axis=0)).sum(), (forms / (w.sum(axis=1) @ indicators)).sum()
    )
    assert_close(cut_values(w, labels), expected, "cut_values of 30 vertices, 4 parts, ", "(5) and (7)", **ROUNDING)


def test_cut_values_of_one_part_are_zero():
    assert_close(cut_values(W, np.zeros(5, int)), Cut(0.0, 0.0, 0.0), "cut_values of one part, ", "equation (7)")


@pytest.mark.parametrize("kind", KINDS)
def test_cut_values_of_a_part_without_volume(kind):
    got = cut_values(KINDS[kind](LONELY), np.array([0, 1, 0, 2]))
    expected = Cut(1.3, 1.3 / 2 + 1.3, 1.3 / 4.5 + 1.3 / 1.3)
    assert_close(got, expected, f"cut_values with an isolated vertex for a part, {kind}, ", "(7)", **ROUNDING)


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_cut_values_at_any_scale(scale):
    got = cut_values(W * scale, np.array([4, 4, -2, -2, -2]))
    expected = Cut(1.2 * scale, scale, 1.2 / 3.6 + 1.2 / 6.0)
    assert_close(got, expected, f"cut_values({scale:g} W, [4, 4, -2, -2, -2]), ", "equation (7)", rtol=1e-12)


def test_cut_values_keep_the_digits_of_small_cuts():
    w = blocks(complete(4), complete(3))
    w[1, 5] = w[5, 1] = 1.5e-20
    got = cut_values(w, np.repeat([0, 1], [4, 3]))
    expected = Cut(1.5e-20, 1.5e-20 * 7 / 12, 1.5e-20 * 18 / 72)
    assert_close(got, expected, "cut_values of two cliques joined by 1.5e-20, ", "equation (7)", rtol=1e-12)


def test_cut_values_leaves_its_arguments_alone():
    labels = np.array([3, 1, 3, 1, 2])
    leaves_alone(cut_values, W, labels)
    assert labels.tolist() == [3, 1, 3, 1, 2], "cut_values changed its labels"


@pytest.mark.given
@pytest.mark.parametrize(
    "labels", [np.zeros(4, int), np.zeros(5), np.zeros((5, 1), int)], ids=["short", "float", "axes"]
)
def test_cut_values_refuses(labels):
    with pytest.raises(ValueError, match="labels must"):
        cut_values(W, labels)


# sweep_cut


def conductances(w, f):
    """(8) for each set that begins the order, one by one."""
    order = np.argsort(f, kind="stable")
    found = []
    for m in range(1, len(f)):
        inside = np.isin(np.arange(len(f)), order[:m])
        volumes = w[inside].sum(), w[~inside].sum()
        found.append(w[inside][:, ~inside].sum() / min(volumes) if min(volumes) > 0 else np.inf)
    return found, order


@pytest.mark.parametrize("kind", KINDS)
def test_sweep_cut_by_hand(kind):
    # In the order 2, 3, 4, 1, 0 the conductances are 1.5 / 1.5, 3.3 / 3.9, 1.2 / 3.6 and 1.7 / 1.7.
    members, conductance = sweep_cut(KINDS[kind](W), np.array([0.9, 0.4, -2.0, -1.5, -0.7]))
    call = f"sweep_cut(W, [0.9, 0.4, -2, -1.5, -0.7]), {kind}"
    assert_close(conductance, 1.2 / 3.6, f"the conductance of {call}", "the least of (8)", **ROUNDING)
    assert_close(members, [False, False, True, True, True], f"the members of {call}", "those of smallest numbers")


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_sweep_cut_does_not_depend_on_the_unit_of_weights(scale):
    conductance = sweep_cut(W * scale, np.array([0.9, 0.4, -2.0, -1.5, -0.7]))[1]
    assert_close(conductance, 1.2 / 3.6, f"the conductance of sweep_cut({scale:g} W, ...)", "(8)", **ROUNDING)


def test_sweep_cut_takes_equal_numbers_by_index():
    w, f = random_graph(40, 0.3, 6), np.repeat([2.0, 1.0], 20)
    expected, order = conductances(w, f)
    inside = np.isin(np.arange(40), order[: int(np.argmin(expected)) + 1])
    members, conductance = sweep_cut(w, f)
    call = "sweep_cut of a random graph, 20 times 2 and then 20 times 1"
    assert_close(conductance, min(expected), f"the conductance of {call}", "trying all", **ROUNDING)
    assert_close(members, inside, f"the members of {call}", "trying all, equal numbers by index")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_sweep_cut_tries_all_sets_of_the_order(kind, seed):
    w, f = random_graph(20, 0.3, seed), np.random.default_rng(seed).normal(size=20)
    expected, order = conductances(w, f)
    members, conductance = sweep_cut(KINDS[kind](w), f)
    call = f"sweep_cut of a random graph, {kind}, seed {seed}"
    assert_close(conductance, min(expected), f"the conductance of {call}", "trying all", **ROUNDING)
    inside = np.isin(np.arange(20), order[: int(np.argmin(expected)) + 1])
    assert_close(members, inside, f"the members of {call}", "trying all")


def test_sweep_cut_takes_equal_numbers_by_index_and_the_smallest_of_equally_good_sets():
    members, conductance = sweep_cut(cycle(6), np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0]))
    # In the order 1, 3, 0, 2, 4, 5 the conductances are 2/2, 4/4, 4/6, 2/4, 2/2: the fourth set is best.
    assert_close(conductance, 0.5, "the conductance of sweep_cut(cycle of 6, ties)", "equation (8)", **ROUNDING)
    assert_close(members, [True, True, True, True, False, False], "the members of sweep_cut(cycle of 6, ties)")
    members, _ = sweep_cut(complete(2) + 0, np.array([3.0, 3.0]))
    assert_close(members, [True, False], "the members of sweep_cut(one edge, [3, 3])", "order of index")
    members, conductance = sweep_cut(blocks(complete(2), complete(2), complete(2)), np.arange(6.0))
    assert_close(members, [True, True, *[False] * 4], "the members of sweep_cut(three edges, 0 to 5)", "the fewest")
    assert abs(conductance) < 1e-15, f"the conductance of a component is {conductance}, expected 0"


def test_sweep_cut_never_takes_a_side_without_volume():
    for f in (np.array([1.0, -5.0, 2.0, 3.0]), np.array([1.0, 9.0, 2.0, 3.0])):
        members, conductance = sweep_cut(LONELY, f)
        expected = min(c for c in conductances(LONELY, f)[0] if c > 0)
        call = f"sweep_cut with vertex 1 isolated, f = {f.tolist()}"
        assert_close(conductance, expected, f"the conductance of {call}", "equation (8)", **ROUNDING)
        volumes = LONELY[members].sum(), LONELY[~members].sum()
        assert min(volumes) > 0, f"{call} returned {members}, with the volumes {volumes}"


@pytest.mark.parametrize(
    "steps", [(0.8, 0.6, 0.5, 0.3, 0.3, 0.1), (0.9, 0.6, 0.7, 0.9, 0.6, 0.7), (0.1, 0.2, 0.3, 0.7, 0.3, 0.6)]
)
@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_sweep_cut_does_not_take_rounding_for_volume(steps, turned):
    # The last vertex is isolated. As 0.8 + 0.6 + ... is rounded, the sum of all volumes less those before it is not 0.
    w = blocks(np.diag(steps, 1) + np.diag(steps, -1), np.zeros((1, 1)))
    f = turned * np.arange(8.0)
    expected, order = conductances(w[:7, :7], f[:7])
    members, conductance = sweep_cut(w, f)
    call = f"sweep_cut of a path with the weights {steps} and an isolated vertex"
    assert_close(conductance, min(expected), f"the conductance of {call}", "as without that vertex", **ROUNDING)
    inside = np.isin(np.arange(8), order[: int(np.argmin(expected)) + 1])
    inside[7] = turned < 0
    assert_close(members, inside, f"the members of {call}", "trying all sets with volume on both sides")


@pytest.mark.parametrize("name", ["random", "path", "cycle", "complete", "star", "cliques"])
def test_sweep_cut_keeps_cheegers_inequality(name):
    cliques = blocks(complete(3), complete(4))
    cliques[0, 5] = cliques[5, 0] = 0.3
    random = np.array(random_graph(8, 0.6, 5))
    random[3, 4] = random[4, 3] = random[6, 0] = random[0, 6] = 0.7
    w = {"random": random, "cliques": cliques}.get(name)
    w = {"path": path, "cycle": cycle, "complete": complete, "star": star}[name](9) if w is None else w
    values, vectors = smallest_eigenpairs(w, 2, "random_walk")
    conductance = sweep_cut(w, vectors[:, 1])[1]
    best = np.inf
    for m in range(1, len(w) // 2 + 1):
        for chosen in itertools.combinations(range(len(w)), m):
            inside = np.isin(np.arange(len(w)), chosen)
            leaving = w[inside][:, ~inside].sum()
            best = min(best, leaving / min(w[inside].sum(), w[~inside].sum()))
    bounds = values[1] / 2 - 1e-9, np.sqrt(2 * values[1]) + 1e-9
    assert bounds[0] <= best <= conductance + 1e-12, (
        f"{name}: by (9) lambda_2 / 2 = {bounds[0]:.4g} <= h = {best:.4g} <= that of sweep_cut, {conductance:.4g}"
    )
    assert conductance <= bounds[1], f"{name}: sweep_cut found {conductance:.4g}; by (9) at most {bounds[1]:.4g}"


def test_sweep_cut_leaves_its_arguments_alone():
    f = F.copy()
    leaves_alone(sweep_cut, W, f)
    assert np.array_equal(f, F), "sweep_cut changed its vector"


@pytest.mark.given
def test_sweep_cut_refuses_a_graph_without_edges():
    with pytest.raises(ValueError, match="graph must"):
        sweep_cut(np.zeros((3, 3)), np.arange(3.0))
