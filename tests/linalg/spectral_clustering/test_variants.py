"""Shared tests of linalg/spectral_clustering/variants: run on the reference, and on the learner's file.

Embeddings are compared as subspaces, by their projectors, where the gap between the last eigenvalue inside and the first outside is above 0.01: then
rounding is below 1e-12. First-order formulas are compared with eigenpairs computed anew: their error falls with the square of the change,
so that a tenth of the change must leave a hundredth of it, and we ask for less than a fiftieth.
"""

import functools

import numpy as np
import pytest
import scipy.linalg

from mlpath.linalg.spectral_clustering.variants import (
    agreement_objective,
    changed_eigenvalues,
    changed_eigenvectors,
    coregularise,
    coregularised_sweep,
    extend,
    normalised_affinity,
    random_walk_eigenpairs,
    regularised_cut,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-11, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}

# A graph with weights of all sizes and a loop.
W = np.zeros((6, 6))
for _i, _j, _w in (
    (0, 1, 2.3),
    (0, 2, 1.7),
    (0, 5, 0.4),
    (1, 2, 3.1),
    (2, 3, 0.9),
    (3, 4, 2.6),
    (3, 5, 1.9),
    (4, 5, 3.7),
    (1, 1, 0.8),
):
    W[_i, _j] = W[_j, _i] = _w


def affinities(n, seed):
    """A full random graph with weights from 0 to 1."""
    a = np.triu(np.random.default_rng(seed).random((n, n)) ** 2, 1)
    return a + a.T


def projectors(u):
    """U U' of each view: what does not depend on the basis."""
    return u @ u.swapaxes(-1, -2)


def top(matrix, k):
    """The leading eigenvectors, by SciPy."""
    return scipy.linalg.eigh(matrix)[1][:, ::-1][:, :k]


# normalised_affinity


@pytest.mark.parametrize("tau", [0.0, 0.7, 12.0])
def test_normalised_affinity_follows_equations_1_and_5(tau):
    got = normalised_affinity(W, tau=tau)
    larger = W + tau / 6 * np.ones((6, 6))
    d = np.diag(1 / np.sqrt(larger.sum(axis=1)))
    assert_close(got, d @ larger @ d, f"normalised_affinity(W, tau={tau})", "equations (1) and (5)", **ROUNDING)


def test_normalised_affinity_has_the_largest_eigenvalue_1():
    for tau in (0.0, 2.0):
        got = normalised_affinity(affinities(15, 0), tau=tau)
        values = np.linalg.eigvalsh(got)
        assert_close(values[-1], 1.0, f"the largest eigenvalue of normalised_affinity(W, tau={tau})", "1", rtol=1e-12)
        assert_close(got, got.T, f"normalised_affinity(W, tau={tau})", "its transpose", **ROUNDING)


def test_normalised_affinity_of_a_vertex_without_edges():
    a = np.zeros((7, 7))
    a[:6, :6] = W
    got = normalised_affinity(a, tau=1.4)
    expected = 0.2 / np.sqrt(1.4 * (a.sum(axis=1) + 1.4))
    assert_close(
        got[6],
        expected,
        "the last row of normalised_affinity(W and a vertex without edges, tau=1.4)",
        "(5)",
        **ROUNDING,
    )


@pytest.mark.parametrize("scale", [1e-170, 1e170])
def test_normalised_affinity_has_no_unit(scale):
    got = normalised_affinity(scale * W, tau=scale * 0.9)
    expected = normalised_affinity(W, tau=0.9)
    assert_close(
        got, expected, f"normalised_affinity({scale:g} W, tau={0.9 * scale:g})", "that of W with 0.9", **ROUNDING
    )


def test_normalised_affinity_tells_planted_groups_in_spite_of_a_dangling_path():
    w, truth = dangling()
    half = {}
    for tau in (0.0, 6.0):
        u = top(normalised_affinity(w, tau=tau), 2)[:, 1]
        half[tau] = abs(np.sign(u[:100]) @ truth[:100]) / 100
    assert half[6.0] > 0.9 > half[0.0], (
        f"the signs of the second eigenvector agree with two planted groups by {half[0.0]:.2f} with tau 0, and by {half[6.0]:.2f} with"
        " tau 6: expected below 0.9, because of the dangling path, and above"
    )


def test_normalised_affinity_keeps_to_its_argument():
    w = W.copy()
    normalised_affinity(w, tau=1.0)
    assert np.array_equal(w, W), "normalised_affinity changed its argument"
    got = normalised_affinity(w.astype(np.float32), tau=1.0).dtype
    assert got == np.float32, f"normalised_affinity of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("w", "tau", "named"),
    [
        (W[:5], 0.0, "w"),
        (np.triu(W), 0.0, "w"),
        (-W, 0.0, "w"),
        (np.zeros((2, 2)), 0.0, "w"),
        (W, -1.0, "tau"),
        (W, np.inf, "tau"),
    ],
)
def test_normalised_affinity_refuses(w, tau, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        normalised_affinity(w, tau=tau)


# agreement_objective


@functools.cache
def three_views(n=9):
    return np.stack([normalised_affinity_of(affinities(n, seed)) for seed in range(3)])


def normalised_affinity_of(w):
    """(1), by definition."""
    d = np.diag(w.sum(axis=1) ** -0.5)
    return d @ w @ d


def bases(n_views, n, k, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([np.linalg.qr(rng.normal(size=(n, k)))[0] for _ in range(n_views)])


@pytest.mark.parametrize(
    ("n_views", "k", "weight"), [(2, 1, 0.37), (3, 2, 0.37), (3, 4, 1.9), (1, 2, 5.0), (3, 2, 0.0)]
)
def test_agreement_objective_follows_equation_2(n_views, k, weight):
    views, u = three_views()[:n_views], bases(n_views, 9, k)
    expected = sum(np.trace(u[v].T @ views[v] @ u[v]) for v in range(n_views))
    pairs = [(0, 1), (0, 2), (1, 2)][: {1: 0, 2: 1, 3: 3}[n_views]]
    expected += weight * sum(np.trace(u[v] @ u[v].T @ u[w] @ u[w].T) for v, w in pairs)
    call = f"agreement_objective({n_views} views of 9 vertices, {k} dimensions, {weight})"
    assert_close(agreement_objective(views, u, weight), expected, call, "equation (2)", **ROUNDING)


def test_agreement_objective_does_not_depend_on_the_bases():
    views, u = three_views(), bases(3, 9, 2)
    turned = u @ np.array([[0.6, -0.8], [0.8, 0.6]])
    turned[1] = turned[1][:, ::-1]
    got, expected = agreement_objective(views, turned, 0.8), agreement_objective(views, u, 0.8)
    assert_close(got, expected, "agreement_objective of the same subspaces in other bases", "the same", **ROUNDING)


def test_agreement_objective_of_views_that_agree():
    u = np.repeat(bases(1, 9, 3), 3, axis=0)
    got = agreement_objective(np.zeros((3, 9, 9)), u, 2.0)
    assert_close(
        got,
        18.0,
        "agreement_objective(no affinities, the same 3 dimensions thrice, 2)",
        "2 times 3 pairs times 3",
        rtol=1e-12,
    )


def test_agreement_objective_leaves_its_arguments_alone():
    views, u = three_views().copy(), bases(3, 9, 2)
    agreement_objective(views, u, 0.5)
    assert np.array_equal(views, three_views()) and np.array_equal(u, bases(3, 9, 2)), (
        "agreement_objective changed its arguments"
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("views", "u", "weight", "named"),
    [
        (np.ones((9, 9)), bases(3, 9, 2), 1.0, "views"),
        (np.triu(np.ones((3, 9, 9))), bases(3, 9, 2), 1.0, "views"),
        (np.ones((3, 9, 9)), bases(2, 9, 2), 1.0, "embeddings"),
        (np.ones((3, 9, 9)), bases(3, 8, 2), 1.0, "embeddings"),
        (np.ones((3, 9, 9)), bases(3, 9, 2), -1.0, "weight"),
    ],
)
def test_agreement_objective_refuses(views, u, weight, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        agreement_objective(views, u, weight)


# coregularised_sweep


def swept(views, u, weight):
    """(3) by projectors, one view after the other."""
    p = projectors(u)
    for v in range(len(u)):
        m = views[v] + weight * (p.sum(axis=0) - p[v])
        t = top(m, u.shape[2])
        p[v] = t @ t.T
    return p


@pytest.mark.parametrize(("n_views", "k", "weight"), [(2, 1, 0.4), (3, 2, 0.4), (3, 3, 1.3), (1, 2, 1.0), (2, 2, 0.0)])
def test_coregularised_sweep_betters_one_view_after_the_other(n_views, k, weight):
    views, u = three_views()[:n_views], bases(n_views, 9, k)
    got = coregularised_sweep(views, u, weight)
    call = f"coregularised_sweep({n_views} views, {k} dimensions, {weight})"
    assert got.shape == u.shape, f"{call} has the shape {got.shape}, expected {u.shape}"
    assert_close(projectors(got), swept(views, u, weight), f"U U' of {call}", "equation (3)", rtol=1e-8, atol=1e-10)
    gram = got.swapaxes(1, 2) @ got
    assert_close(gram, np.tile(np.eye(k), (n_views, 1, 1)), f"U'U of {call}", "orthonormal columns", **ROUNDING)


def test_coregularised_sweep_never_lowers_the_objective():
    for weight in (0.05, 0.6, 4.0):
        u = bases(3, 9, 2, seed=7)
        before = agreement_objective(three_views(), u, weight)
        for _ in range(6):
            u = coregularised_sweep(three_views(), u, weight)
            after = agreement_objective(three_views(), u, weight)
            assert after > before - 1e-10, (
                f"coregularised_sweep(weight={weight}) lowered (2) from {before:.6f} to {after:.6f}"
            )
            before = after


def test_coregularised_sweep_leaves_its_arguments_alone():
    views, u = three_views().copy(), bases(3, 9, 2)
    coregularised_sweep(views, u, 0.5)
    assert np.array_equal(views, three_views()) and np.array_equal(u, bases(3, 9, 2)), (
        "coregularised_sweep changed its arguments"
    )


@pytest.mark.given
def test_coregularised_sweep_refuses():
    with pytest.raises(ValueError, match="embeddings must"):
        coregularised_sweep(three_views(), bases(2, 9, 2), 1.0)


# coregularise


def test_coregularise_begins_with_each_view_alone():
    found = coregularise(three_views(), 2, weight=0.3, max_sweeps=1)
    u = np.stack([top(view, 2) for view in three_views()])
    expected = agreement_objective(three_views(), u, 0.3)
    assert_close(
        found.objectives[0], expected, "coregularise(...).objectives[0]", "(2) of the leading eigenvectors", rtol=1e-9
    )
    alone = coregularise(three_views(), 2, weight=0.0)
    assert_close(
        projectors(alone.embeddings), projectors(u), "U U' of coregularise(weight=0)", "(1)", rtol=1e-8, atol=1e-10
    )


def test_coregularise_sweeps_until_nothing_is_gained():
    found = coregularise(three_views(), 2, weight=0.3, tol=1e-5)
    assert found.converged is True or found.converged is np.True_, f"coregularise did not converge: {found.objectives}"
    gains = np.diff(found.objectives)
    assert (gains[:-1] > 1e-5).all() and gains[-1] <= 1e-5, (
        f"coregularise(tol=1e-5) gained {gains} from sweep to sweep: it ends after the first that gains at most 1e-5"
    )
    u = np.stack([top(view, 2) for view in three_views()])
    for _ in gains:
        u = coregularised_sweep(three_views(), u, 0.3)
    assert_close(
        projectors(found.embeddings), projectors(u), "U U' of coregularise", "as many sweeps", rtol=1e-6, atol=1e-8
    )
    last = agreement_objective(three_views(), found.embeddings, 0.3)
    assert_close(found.objectives[-1], last, "coregularise(...).objectives[-1]", "(2) of its embeddings", rtol=1e-9)


def test_coregularise_ends_after_its_last_sweep():
    found = coregularise(three_views(), 2, weight=0.3, max_sweeps=2, tol=0.0)
    assert len(found.objectives) == 3 and not found.converged, (
        f"coregularise(max_sweeps=2) returned {len(found.objectives)} objectives and converged={found.converged}, expected 3 and False"
    )
    needed = len(coregularise(three_views(), 2, weight=0.3, tol=1e-5).objectives) - 1
    just = coregularise(three_views(), 2, weight=0.3, tol=1e-5, max_sweeps=needed)
    assert just.converged, f"coregularise(max_sweeps={needed}), as many as are needed, says that it has not converged"
    loose = coregularise(three_views(), 2, weight=0.3, tol=1e-2)
    gains = np.diff(loose.objectives)
    assert gains[-1] <= 1e-2 and (gains[:-1] > 1e-2).all(), f"coregularise(tol=0.01) gained {gains}"


def test_coregularise_joins_what_each_view_knows():
    # The first view cannot tell the groups 0 and 1 apart, the second cannot tell 1 and 2.
    rng, truth = np.random.default_rng(0), np.repeat([0, 1, 2], 12)
    views = []
    for joined in ([0, 0, 1], [0, 1, 1]):
        same = np.take(joined, truth)[:, None] == np.take(joined, truth)
        w = np.where(same, 0.5, 0.05) + 0.2 * rng.random((36, 36)) * same
        views.append(normalised_affinity_of((w + w.T) / 2))
    u = coregularise(np.stack(views), 2, weight=0.5).embeddings
    both = np.concatenate(list(u), axis=1)
    centres = np.stack([both[truth == c].mean(axis=0) for c in range(3)])
    nearest = ((both[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert np.array_equal(nearest, truth), (
        "rows of both embeddings of coregularise are not nearest to the means of their groups"
    )


def test_coregularise_draws_views_together():
    agreements = []
    for weight in (0.0, 0.3, 3.0):
        u = coregularise(three_views(), 2, weight=weight, tol=1e-3).embeddings
        agreements.append(agreement_objective(np.zeros((3, 9, 9)), u, 1.0))
    assert agreements[0] < agreements[1] < agreements[2] <= 6 + 1e-9, (
        f"the views agree by {np.round(agreements, 4)} for the weights 0, 0.3 and 3: it should grow, to at most 6"
    )


def test_coregularise_leaves_its_argument_alone():
    views = three_views().copy()
    coregularise(views, 2, max_sweeps=2)
    assert np.array_equal(views, three_views()), "coregularise changed the views"


@pytest.mark.given
@pytest.mark.parametrize(("k", "weight", "named"), [(0, 0.1, "k"), (10, 0.1, "k"), (2, np.nan, "weight")])
def test_coregularise_refuses(k, weight, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        coregularise(three_views(), k, weight=weight)


# regularised_cut


@functools.cache
def dangling():
    """Two sparse planted groups of 50, joined by few edges, and a path of 6 vertices that hangs on the first; and the groups, as 1 and -1."""
    rng = np.random.default_rng(1)
    truth = np.repeat([1.0, -1.0], 50)
    edges = np.triu(rng.random((100, 100)) < np.where(truth[:, None] == truth, 0.12, 0.018), 1)
    w = np.zeros((106, 106))
    w[:100, :100] = edges
    w[0, 100] = 1
    w[np.arange(100, 105), np.arange(101, 106)] = 1
    for lonely in np.flatnonzero((w + w.T).sum(axis=1) == 0):
        w[lonely, (lonely + 1) % 100] = 1
    return w + w.T, np.append(truth, np.ones(6))


LABELS = np.array([5, 5, -3, 8, 8, -3])


@pytest.mark.parametrize("tau", [0.0, 0.7, 12.0])
def test_regularised_cut_is_the_cut_of_the_regularised_graph(tau):
    got = regularised_cut(W, LABELS, tau=tau)
    larger = W + tau / 6
    expected = 0.0
    for c in (5, -3, 8):
        inside = c == LABELS
        expected += larger[inside][:, ~inside].sum() / larger[inside].sum()
    assert_close(got, expected, f"regularised_cut(W, {LABELS}, tau={tau})", "equations (4) and (5)", **ROUNDING)


def test_regularised_cut_of_one_cluster_is_0_and_of_single_vertices_their_number():
    assert_close(
        regularised_cut(W, np.zeros(6, dtype=int), tau=1.0), 0.0, "regularised_cut(W, one cluster)", "0", atol=1e-13
    )
    w = affinities(6, 0)
    assert_close(
        regularised_cut(w, np.arange(6)), 6.0, "regularised_cut(graph without loops, single vertices)", "6", rtol=1e-12
    )


def test_regularised_cut_is_bounded_by_the_eigenvalues():
    # The relaxation (1) is never worse: the normalised cut of k clusters is at least k less the k leading eigenvalues.
    for seed in range(5):
        w = affinities(10, seed)
        labels = np.append([0, 1, 2], np.random.default_rng(seed).integers(0, 3, 7))
        for tau in (0.0, 1.0):
            bound = 3 - np.linalg.eigvalsh(normalised_affinity(w, tau=tau))[-3:].sum()
            got = regularised_cut(w, labels, tau=tau)
            assert got > bound - 1e-10, (
                f"regularised_cut(random graph, 3 clusters, tau={tau}) is {got:.6f}, below {bound:.6f}"
            )


def test_regularised_cut_no_longer_prefers_a_dangling_path():
    w, truth = dangling()
    path, groups = (np.arange(106) >= 100).astype(int), (truth > 0).astype(int)
    cuts = {tau: (regularised_cut(w, path, tau=tau), regularised_cut(w, groups, tau=tau)) for tau in (0.0, 6.0)}
    assert cuts[0.0][0] < cuts[0.0][1] and cuts[6.0][0] > cuts[6.0][1], (
        f"regularised_cut of the path and of the groups is {np.round(cuts[0.0], 4)} with tau 0 and {np.round(cuts[6.0], 4)} with 6:"
        " first the path is better, then the groups"
    )


def test_regularised_cut_leaves_its_arguments_alone():
    w, labels = W.copy(), LABELS.copy()
    regularised_cut(w, labels, tau=1.0)
    assert np.array_equal(w, W) and np.array_equal(labels, LABELS), "regularised_cut changed its arguments"


@pytest.mark.given
@pytest.mark.parametrize(
    ("labels", "tau", "named"), [(LABELS[:5], 0.0, "labels"), (LABELS / 2, 0.0, "labels"), (LABELS, -1.0, "tau")]
)
def test_regularised_cut_refuses(labels, tau, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        regularised_cut(W, labels, tau=tau)


# changed_eigenvalues


def changed(w, i, j, change):
    """W with another weight of one edge."""
    w = w.copy()
    w[i, j] += change
    w[j, i] += change
    return w


def exact(w):
    """All solutions of (6), by SciPy."""
    d = np.diag(w.sum(axis=1))
    return scipy.linalg.eigh(d - w, d)


VALUES, VECTORS = (
    np.array([0.35, 1.2, 0.8]),
    np.array([[0.31, -0.22, 0.4], [0.12, 0.5, -0.3], [-0.45, 0.27, 0.2], [0.1, 0.33, 0.6]]),
)


def test_changed_eigenvalues_by_hand():
    got = changed_eigenvalues(VALUES, VECTORS, 2, 0, 0.3)
    expected = [
        0.35 + 0.3 * (0.76**2 - 0.35 * (0.31**2 + 0.45**2)),
        1.2 + 0.3 * (0.49**2 - 1.2 * (0.22**2 + 0.27**2)),
        0.8 + 0.3 * (0.2**2 - 0.8 * (0.4**2 + 0.2**2)),
    ]
    assert_close(got, expected, "changed_eigenvalues(values, vectors, 2, 0, 0.3)", "equation (8)", **ROUNDING)


@pytest.mark.parametrize(("i", "j"), [(0, 5), (3, 1), (4, 5)])
def test_changed_eigenvalues_are_right_to_first_order(i, j):
    values, vectors = exact(W)
    errors = []
    for change in (0.02, 0.002):
        new = exact(changed(W, i, j, change))[0]
        errors.append(abs(changed_eigenvalues(values, vectors, i, j, change) - new).max())
    assert errors[1] < errors[0] / 50 and errors[0] < 1e-2, (
        f"changed_eigenvalues is off by {errors[0]:.3g} for a change of 0.02 and {errors[1]:.3g} for 0.002: to first order it falls to a hundredth"
    )


def test_changed_eigenvalues_of_a_connected_graph_keep_0():
    values, vectors = random_walk_eigenpairs(W, 3)
    got = changed_eigenvalues(values, vectors, 1, 4, 0.9)
    assert_close(got[0], 0.0, "changed_eigenvalues(...)[0]", "0: the constant stays a solution", atol=1e-13)


def test_changed_eigenvalues_keep_to_their_arguments():
    values, vectors = VALUES.copy(), VECTORS.copy()
    changed_eigenvalues(values, vectors, 0, 1, 0.1)
    assert np.array_equal(values, VALUES) and np.array_equal(vectors, VECTORS), (
        "changed_eigenvalues changed its arguments"
    )
    got = changed_eigenvalues(values.astype(np.float32), vectors.astype(np.float32), 0, 1, 0.1).dtype
    assert got == np.float32, f"changed_eigenvalues of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("values", "i", "j", "change", "named"),
    [
        (VALUES[:2], 0, 1, 0.1, "vectors"),
        (VALUES, 1, 1, 0.1, "i and j"),
        (VALUES, 0, 4, 0.1, "i and j"),
        (VALUES, 0, 1, np.nan, "change"),
    ],
)
def test_changed_eigenvalues_refuses(values, i, j, change, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        changed_eigenvalues(values, VECTORS, i, j, change)


# changed_eigenvectors


def test_changed_eigenvectors_by_hand():
    got = changed_eigenvectors(VALUES, VECTORS, 2, 0, 0.3)
    r, pair = np.array([-1.0, 0, 1, 0]), np.diag([1.0, 0, 1, 0])
    expected = []
    for a in range(3):
        v = VECTORS[:, a]
        move = 0.3 * (np.outer(r, r) - VALUES[a] * pair)
        new = v - 0.5 * 0.3 * (v @ pair @ v) * v
        for b in {0, 1, 2} - {a}:
            new = new + (VECTORS[:, b] @ move @ v) / (VALUES[a] - VALUES[b]) * VECTORS[:, b]
        expected.append(new)
    assert_close(
        got, np.transpose(expected), "changed_eigenvectors(values, vectors, 2, 0, 0.3)", "equation (9)", **ROUNDING
    )


@pytest.mark.parametrize(("i", "j"), [(0, 5), (3, 1), (4, 5)])
def test_changed_eigenvectors_are_right_to_first_order(i, j):
    values, vectors = exact(W)
    errors = []
    for change in (0.02, 0.002):
        new = exact(changed(W, i, j, change))[1]
        new = new * np.sign((new * vectors).sum(axis=0))
        errors.append(abs(changed_eigenvectors(values, vectors, i, j, change) - new).max())
    assert errors[1] < errors[0] / 50 and errors[0] < 1e-2, (
        f"changed_eigenvectors is off by {errors[0]:.3g} for a change of 0.02 and {errors[1]:.3g} for 0.002: to first order it falls to a hundredth"
    )


def test_changed_eigenvectors_keep_the_length_of_equation_6():
    values, vectors = exact(W)
    w = changed(W, 0, 4, 1e-4)
    new = changed_eigenvectors(values, vectors, 0, 4, 1e-4)
    gram = new.T @ np.diag(w.sum(axis=1)) @ new
    assert_close(gram, np.eye(6), "v'Dv after changed_eigenvectors(W, change=1e-4)", "(6), to 1e-7", rtol=0, atol=1e-7)


def test_changed_eigenvectors_of_some_stay_in_their_span():
    values, vectors = random_walk_eigenpairs(W, 3)
    got = changed_eigenvectors(values, vectors, 1, 4, 0.05)
    d = W.sum(axis=1)
    inside = vectors @ (vectors.T @ (d[:, None] * got))
    assert_close(got, inside, "changed_eigenvectors of 3 of 6", "their part in the span of the old ones", **ROUNDING)
    values, vectors = exact(W)
    full = changed_eigenvectors(values, vectors, 1, 4, 0.05)
    part = vectors[:, :3] @ (vectors[:, :3].T @ (d[:, None] * full[:, :3]))
    signs = np.sign((got * full[:, :3]).sum(axis=0))
    assert_close(
        got * signs, part, "changed_eigenvectors of 3 of 6", "the part of (9) that these know", rtol=1e-8, atol=1e-10
    )


@pytest.mark.given
def test_changed_eigenvectors_refuse_equal_eigenvalues():
    values, vectors = exact(np.ones((4, 4)) - np.eye(4))
    with pytest.raises(ValueError, match="values must"):
        changed_eigenvectors(values, vectors, 0, 1, 0.1)


def test_changed_eigenvectors_keep_to_their_arguments():
    values, vectors = VALUES.copy(), VECTORS.copy()
    changed_eigenvectors(values, vectors, 0, 1, 0.1)
    assert np.array_equal(values, VALUES) and np.array_equal(vectors, VECTORS), (
        "changed_eigenvectors changed its arguments"
    )
    got = changed_eigenvectors(values.astype(np.float32), vectors.astype(np.float32), 0, 1, 0.1).dtype
    assert got == np.float32, f"changed_eigenvectors of float32 is {got}, expected float32"


# extend


def test_extend_by_hand():
    affinities_ = np.array([[0.5, 0.0, 1.2, 0.3], [2.0, 0.7, 0.0, 0.1]])
    got = extend(VALUES, VECTORS, affinities_)
    expected = [[(row @ VECTORS[:, a]) / row.sum() / (1 - VALUES[a]) for a in range(3)] for row in affinities_]
    assert_close(got, expected, "extend(values, vectors, two new vertices)", "equation (10)", **ROUNDING)


def test_extend_returns_old_vertices_as_they_are():
    w = affinities(12, 3) + np.eye(12)
    values, vectors = exact(w)
    got = extend(values[:5], vectors[:, :5], w)
    assert_close(
        got, vectors[:, :5], "extend with the rows of W", "the vectors themselves, as (6) says", rtol=1e-9, atol=1e-10
    )


@pytest.mark.parametrize("unit", [1e-170, 1e170])
def test_extend_does_not_depend_on_the_unit_of_affinities(unit):
    new = np.array([[0.5, 0.0, 1.2, 0.3]])
    got, expected = extend(VALUES, VECTORS, unit * new), extend(VALUES, VECTORS, new)
    assert_close(got, expected, f"extend with {unit:g} times the affinities", "the same", **ROUNDING)


def test_extend_comes_near_to_computing_anew():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(c, 0.6, size=(40, 2)) for c in ((0, 0), (3, 0))])
    w = np.exp(-((x[:, None] - x) ** 2).sum(axis=2) / 2)
    old = np.arange(80) != 17
    values, vectors = random_walk_eigenpairs(w[np.ix_(old, old)], 2)
    new = extend(values, vectors, w[17, old][None])[0, 1]
    true = random_walk_eigenpairs(w, 2)[1][:, 1]
    true = true * np.sign(true[old] @ vectors[:, 1])
    spread = np.ptp(true)
    assert abs(new - true[17]) < 0.05 * spread, (
        f"extend puts a point that was left out at {new:.5f}, and anew it is at {true[17]:.5f}: expected within 5 % of the spread {spread:.5f}"
    )


def test_extend_keeps_to_its_arguments():
    values, vectors, new = VALUES.copy(), VECTORS.copy(), np.array([[0.5, 0.0, 1.2, 0.3]])
    kept = new.copy()
    extend(values, vectors, new)
    same = np.array_equal(values, VALUES) and np.array_equal(vectors, VECTORS) and np.array_equal(new, kept)
    assert same, "extend changed its arguments"
    got = extend(*(a.astype(np.float32) for a in (values, vectors, new))).dtype
    assert got == np.float32, f"extend of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("values", "new", "named"),
    [
        (VALUES, np.ones((1, 3)), "affinities"),
        (VALUES, np.zeros((1, 4)), "affinities"),
        (VALUES, -np.ones((1, 4)), "affinities"),
        (np.array([0.1, 1.0, 0.2]), np.ones((1, 4)), "values"),
        (VALUES[:2], np.ones((1, 4)), "vectors"),
    ],
)
def test_extend_refuses(values, new, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        extend(values, VECTORS, new)


@pytest.mark.given
def test_extend_is_given_random_walk_eigenpairs():
    values, vectors = random_walk_eigenpairs(W, 4)
    expected = exact(W)[0][:4]
    assert_close(values, expected, "random_walk_eigenpairs(W, 4)[0]", "equation (6)", rtol=1e-9, atol=1e-12)
    d = W.sum(axis=1)
    assert_close(vectors.T @ (d[:, None] * vectors), np.eye(4), "V'DV of random_walk_eigenpairs", "I", **ROUNDING)
