"""Shared tests of linalg/spectral_clustering/large: run on the reference, and on the learner's file.

The oracles are dense: the matrices (2), (4) and Z Delta^-1 Z' themselves, with their eigenvectors by LAPACK. Eigenvectors are compared
as subspaces, by their projectors, where there is a gap. Blocks A are of points that are far enough from each other for their condition to be below
1e4, so that what is divided by small eigenvalues is still right to 1e-9. Results that depend on draws hold for every draw: groups of pixels
that are as far from each other as black from white.
"""

import functools
import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from sklearn.datasets import load_sample_image

from mlpath.linalg.spectral_clustering.large import (
    gaussian_affinity,
    k_means,
    landmark_embedding,
    landmark_weights,
    nystrom_degrees,
    nystrom_embedding,
    pixel_features,
    segment,
    srgb_to_lab,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-11, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}
DIVIDED = {"rtol": 1e-8, "atol": 1e-9, "tolerance": "rounding, over eigenvalues down to 1e-4"}

X = np.array(
    [
        [0.7, -1.2, 0.3],
        [2.1, 0.3, -0.8],
        [-1.6, 0.8, 1.9],
        [0.2, 0.5, 0.4],
        [1.4, 2.6, -0.1],
        [-0.4, -2.2, 1.1],
        [0.9, 1.0, 2.0],
    ]
)
SCALE = 1.3


@functools.cache
def affinities():
    """The affinities of X by SciPy."""
    return np.exp(-cdist(X, X, "sqeuclidean") / (2 * SCALE**2))


def blocks(m=4):
    """A and B for the first m points of X."""
    return affinities()[:m, :m].copy(), affinities()[:m, m:].copy()


def completed(a, b):
    """The whole matrix (2), with the pseudo-inverse."""
    return np.block([[a, b], [b.T, b.T @ np.linalg.pinv(a, hermitian=True, rcond=1e-10) @ b]])


def divided(w):
    """(1)."""
    d = w.sum(axis=1)
    return w / np.sqrt(np.outer(d, d))


def leading(w, k):
    """The leading eigenvalues and the projector on their eigenvectors."""
    values, vectors = np.linalg.eigh(w)
    return values[::-1][:k], vectors[:, ::-1][:, :k] @ vectors[:, ::-1][:, :k].T


# gaussian_affinity


def test_gaussian_affinity_by_hand():
    got = gaussian_affinity(np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[1.5, 1.0], [0.5, -1.0], [-0.4, 2.2]]), 1.7)
    squares = [[5.0, 0.0, 0.81 + 10.24], [0.25 + 0.49, 2.25 + 1.69, 5.76 + 3.61]]
    expected = np.exp(-np.array(squares) / (2 * 2.89))
    assert_close(got, expected, "gaussian_affinity(2 points, 3 points, 1.7)", "the formula above (1)", **ROUNDING)


def test_gaussian_affinity_of_many_points():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 7)), rng.normal(size=(23, 7))
    expected = np.exp(-cdist(x, y, "sqeuclidean") / (2 * 2.2**2))
    assert_close(
        gaussian_affinity(x, y, 2.2), expected, "gaussian_affinity(40 points, 23 points, 2.2)", "SciPy", **ROUNDING
    )


def test_gaussian_affinity_far_from_the_origin():
    got = gaussian_affinity(X + 2.0**27, X + 2.0**27, SCALE)
    expected = gaussian_affinity(X, X, SCALE)
    # Adding 2**27 rounds the points themselves to 1e-8.
    assert_close(got, expected, "gaussian_affinity(X + 2**27, X + 2**27)", "that of X", rtol=1e-6)
    assert np.diag(got).min() > 1 - 1e-12 and got.max() <= 1, (
        "gaussian_affinity of equal points far from the origin is not 1"
    )


@pytest.mark.parametrize("unit", [1e-170, 1e170])
def test_gaussian_affinity_has_no_unit(unit):
    got = gaussian_affinity(unit * X, unit * X[:3], unit * SCALE)
    assert_close(
        got, affinities()[:, :3], f"gaussian_affinity with all lengths times {unit:g}", "as without", **ROUNDING
    )


def test_gaussian_affinity_keeps_to_its_arguments():
    x, y = X.copy(), X[:2].copy()
    gaussian_affinity(x, y, SCALE)
    assert np.array_equal(x, X) and np.array_equal(y, X[:2]), "gaussian_affinity changed its arguments"
    got = gaussian_affinity(x.astype(np.float32), y.astype(np.float32), SCALE).dtype
    assert got == np.float32, f"gaussian_affinity of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "y", "scale", "named"),
    [
        (X[0], X, 1.0, "x"),
        (X, X[:, :2], 1.0, "y"),
        (X * np.nan, X, 1.0, "x"),
        (X, X, 0.0, "scale"),
        (X, X, np.nan, "scale"),
    ],
)
def test_gaussian_affinity_refuses(x, y, scale, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        gaussian_affinity(x, y, scale)


# nystrom_degrees


@pytest.mark.parametrize("m", [2, 4, 6])
def test_nystrom_degrees_are_the_sums_of_the_completed_matrix(m):
    a, b = blocks(m)
    sampled, others = nystrom_degrees(a, b)
    expected = completed(a, b).sum(axis=1)
    assert_close(sampled, expected[:m], f"nystrom_degrees(A, B)[0] of {m} of 7 points", "equation (3)", **DIVIDED)
    assert_close(others, expected[m:], f"nystrom_degrees(A, B)[1] of {m} of 7 points", "equation (3)", **DIVIDED)


def test_nystrom_degrees_of_a_sample_of_all():
    sampled, others = nystrom_degrees(affinities(), np.zeros((7, 0)))
    assert_close(
        sampled, affinities().sum(axis=1), "nystrom_degrees(W, no others)[0]", "the sums of its rows", **ROUNDING
    )
    assert others.shape == (0,), f"nystrom_degrees(W, no others)[1] has the shape {others.shape}, expected (0,)"


def test_nystrom_degrees_of_points_sampled_twice():
    chosen = [0, 1, 1, 3]
    a, b = affinities()[np.ix_(chosen, chosen)], affinities()[np.ix_(chosen, [2, 4, 5])]
    expected = completed(a, b).sum(axis=1)
    got = np.concatenate(nystrom_degrees(a, b))
    assert_close(
        got, expected, "nystrom_degrees of a sample that has a point twice", "(3) with the pseudo-inverse", **DIVIDED
    )


def test_nystrom_degrees_keep_their_arguments():
    a, b = blocks()
    nystrom_degrees(a, b)
    assert np.array_equal(a, blocks()[0]) and np.array_equal(b, blocks()[1]), "nystrom_degrees changed its arguments"
    got = {d.dtype.name for d in nystrom_degrees(a.astype(np.float32), b.astype(np.float32))}
    assert got == {"float32"}, f"nystrom_degrees of float32 are {got}, expected float32"


def test_nystrom_degrees_refuse_points_that_no_sample_stands_for():
    a, b = blocks()
    b[:, 1] = 0
    with pytest.raises(ValueError, match="b must"):
        nystrom_degrees(a, b)


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "b", "named"),
    [(np.ones((2, 3)), np.ones((2, 1)), "a"), (np.triu(np.ones((2, 2))), np.ones((2, 1)), "a"), (np.eye(2), np.ones((3, 1)), "b"),
     (np.eye(2), np.full((2, 1), np.nan), "b"), (np.eye(2), np.ones(2), "b")],
)  # fmt: skip
def test_nystrom_degrees_refuse(a, b, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        nystrom_degrees(a, b)


# nystrom_embedding


def assert_embedding(values, vectors, w, k, call, source):
    """Eigenvalues and eigenvectors of w: as many, orthonormal, of the right span."""
    expected, projector = leading(w, k)
    assert_close(values, expected, f"{call}[0]", f"the largest eigenvalues of {source}, the largest first", **DIVIDED)
    assert_close(vectors.T @ vectors, np.eye(k), f"V'V of {call}[1]", "orthonormal columns", **DIVIDED)
    assert_close(vectors @ vectors.T, projector, f"VV' of {call}[1]", f"the eigenvectors of {source}", **DIVIDED)
    assert_close(w @ vectors, vectors * values, f"W V of {call}[1]", "V times the eigenvalues", **DIVIDED)


@pytest.mark.parametrize(("m", "k"), [(4, 2), (4, 4), (6, 3), (5, 1)])
def test_nystrom_embedding_diagonalises_the_completed_matrix(m, k):
    a, b = blocks(m)
    values, vectors = nystrom_embedding(a, b, k)
    assert_embedding(values, vectors, divided(completed(a, b)), k, f"nystrom_embedding({m} of 7 points, {k})", "(4)")


def test_nystrom_embedding_of_a_sample_of_all_is_exact():
    for order in (np.arange(7), np.array([3, 0, 6, 2, 5, 1, 4])):
        w = affinities()[np.ix_(order, order)]
        values, vectors = nystrom_embedding(w, np.zeros((7, 0)), 3)
        assert_embedding(values, vectors, divided(w), 3, "nystrom_embedding(all points, 3)", "(1) itself")


def test_nystrom_embedding_is_exact_if_the_others_equal_sampled_points():
    chosen = [0, 1, 2, 3, 0, 2, 2, 3, 1]
    w = affinities()[np.ix_(chosen, chosen)]
    values, vectors = nystrom_embedding(w[:4, :4], w[:4, 4:], 3)
    assert_embedding(values, vectors, divided(w), 3, "nystrom_embedding(4 points, 5 copies of them, 3)", "(1) itself")


def test_nystrom_embedding_begins_with_the_roots_of_the_degrees():
    a, b = blocks()
    values, vectors = nystrom_embedding(a, b, 2)
    root = np.sqrt(completed(a, b).sum(axis=1))
    assert_close(values[0], 1.0, "nystrom_embedding(A, B, 2)[0][0]", "1, the largest eigenvalue of (1)", rtol=1e-9)
    expected = root / np.linalg.norm(root)
    assert_close(
        vectors[:, 0] * np.sign(vectors[0, 0]), expected, "the first vector", "the roots of the degrees", **DIVIDED
    )


def test_nystrom_embedding_has_no_more_vectors_than_the_rank():
    chosen = [0, 1, 1, 0, 2]
    a, b = affinities()[np.ix_(chosen, chosen)], affinities()[np.ix_(chosen, [3, 4, 5, 6])]
    values, vectors = nystrom_embedding(a, b, 5)
    assert values.shape == (3,), (
        f"nystrom_embedding of 3 different points, 2 of them twice, has {len(values)} eigenvalues, expected 3"
    )
    assert_embedding(values, vectors, divided(completed(a, b)), 3, "nystrom_embedding(points sampled twice, 5)", "(4)")


def test_nystrom_embedding_comes_near_the_exact_one():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(c, 0.5, size=(60, 2)) for c in ((0, 0), (4, 0), (2, 4))])
    order = rng.permutation(180)
    w = np.exp(-cdist(x[order], x[order], "sqeuclidean") / 2)
    values, vectors = nystrom_embedding(w[:40, :40], w[:40, 40:], 3)
    expected, projector = leading(divided(w), 3)
    # Measured: 4e-4 and 0.03; for eigenvectors that are only extended from the sample 0.5.
    assert_close(
        values, expected, "nystrom_embedding(40 of 180 points, 3)[0]", "nearly the exact ones", rtol=0, atol=0.01
    )
    gap = np.linalg.norm(vectors @ vectors.T - projector, 2)
    assert gap < 0.2, (
        f"nystrom_embedding(40 of 180 points, 3) is {gap:.3f} away from the exact subspace, expected below 0.2"
    )


def test_nystrom_embedding_makes_no_matrix_of_all_points():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2500, 2))
    a, b = np.exp(-cdist(x[:12], x[:12], "sqeuclidean") / 8), np.exp(-cdist(x[:12], x[12:], "sqeuclidean") / 8)
    tracemalloc.start()
    nystrom_embedding(a, b, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e7, f"nystrom_embedding(12 of 2,500 points) took {peak / 1e6:.0f} MB; the whole matrix takes 50"


def test_nystrom_embedding_keeps_to_its_arguments():
    a, b = blocks()
    nystrom_embedding(a, b, 2)
    assert np.array_equal(a, blocks()[0]) and np.array_equal(b, blocks()[1]), "nystrom_embedding changed its arguments"
    got = {part.dtype.name for part in nystrom_embedding(a.astype(np.float32), b.astype(np.float32), 2)}
    assert got == {"float32"}, f"nystrom_embedding of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(("k", "named"), [(0, "n_vectors"), (5, "n_vectors"), (1.5, "n_vectors")])
def test_nystrom_embedding_refuses(k, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        nystrom_embedding(*blocks(), k)


# landmark_weights

U = np.array([[0.1, 0.4, 0.2], [1.9, 0.1, -0.3], [-1.1, 0.9, 1.5], [0.6, -1.9, 0.8], [1.0, 2.2, 0.9]])


def weights(x, landmarks, r, scale):
    """(6) by definition, dense."""
    squares = cdist(x, landmarks, "sqeuclidean")
    z = np.exp(-squares / (2 * scale**2))
    z[squares > np.sort(squares, axis=1)[:, [r - 1]]] = 0
    return z / z.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("r", [1, 2, 4, 5])
def test_landmark_weights_follow_equation_6(r):
    got = landmark_weights(X, U, r, SCALE)
    assert isinstance(got, csr_array), f"landmark_weights returned a {type(got).__name__}, expected a csr_array"
    call = f"landmark_weights(7 points, 5 landmarks, {r}, {SCALE})"
    assert got.shape == (7, 5), f"{call} has the shape {got.shape}, expected (7, 5)"
    assert got.nnz == 7 * r, f"{call} keeps {got.nnz} weights, expected {r} in each of 7 rows"
    assert_close(got.toarray(), weights(X, U, r, SCALE), call, "equation (6)", **ROUNDING)


@pytest.mark.parametrize("block", [1, 3, 7, 50])
def test_landmark_weights_do_not_depend_on_the_blocks(block):
    got = landmark_weights(X, U, 3, SCALE, block=block).toarray()
    assert_close(got, weights(X, U, 3, SCALE), f"landmark_weights(..., block={block})", "equation (6)", **ROUNDING)


def test_landmark_weights_add_up_to_1_however_small_the_scale():
    got = landmark_weights(X, U, 3, 0.01)
    assert_close(got.sum(axis=1), np.ones(7), "the sums of landmark_weights(X, U, 3, 0.01)", "1", rtol=1e-12)
    nearest = cdist(X, U).argmin(axis=1)
    assert_close(
        got.toarray()[np.arange(7), nearest], np.ones(7), "the weight of the nearest landmark", "1", rtol=1e-12
    )


@pytest.mark.parametrize("unit", [1e-170, 1e170])
def test_landmark_weights_have_no_unit(unit):
    got = landmark_weights(unit * X, unit * U, 3, unit * SCALE).toarray()
    assert_close(
        got, weights(X, U, 3, SCALE), f"landmark_weights with all lengths times {unit:g}", "as without", **ROUNDING
    )


def test_landmark_weights_far_from_the_origin():
    away = np.array([2.0**27, 0.0, -(2.0**26)])
    got = landmark_weights(X + away, U + away, 3, SCALE).toarray()
    # To add 2**27 rounds the points themselves to 1e-8.
    call = "landmark_weights(X + away, U + away, 3), away = (2**27, 0, -2**26)"
    assert_close(got, weights(X, U, 3, SCALE), call, "that of X and U", rtol=1e-6, atol=1e-8)


def test_landmark_weights_of_many_landmarks():
    rng = np.random.default_rng(3)
    x, landmarks = rng.normal(size=(30, 4)), rng.normal(size=(2000, 4))
    got = landmark_weights(x, landmarks, 7, 0.4).toarray()
    assert_close(
        got, weights(x, landmarks, 7, 0.4), "landmark_weights(30 points, 2,000 landmarks, 7)", "equation (6)", rtol=1e-9
    )


def test_landmark_weights_have_a_column_for_a_landmark_that_nobody_is_near():
    far = np.vstack([U, [[90.0, 90.0, 90.0]]])
    got = landmark_weights(X, far, 2, SCALE)
    assert got.shape == (7, 6), (
        f"landmark_weights with a sixth landmark far away has the shape {got.shape}, expected (7, 6)"
    )


def test_landmark_weights_need_no_full_matrix_of_distances():
    rng = np.random.default_rng(0)
    x, landmarks = rng.normal(size=(8_000, 2)), rng.normal(size=(150, 2))
    tracemalloc.start()
    z = landmark_weights(x, landmarks, 3, 0.5, block=500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6e6, f"landmark_weights(8,000 points, 150 landmarks) took {peak / 1e6:.1f} MB; all distances take 9.6"
    rows = np.arange(0, 8_000, 37)
    assert_close(
        z[rows].toarray(), weights(x[rows], landmarks, 3, 0.5), "rows of it", "equation (6)", rtol=1e-9, atol=1e-12
    )


def test_landmark_weights_keep_to_their_arguments():
    x, landmarks = X.copy(), U.copy()
    landmark_weights(x, landmarks, 2, SCALE)
    assert np.array_equal(x, X) and np.array_equal(landmarks, U), "landmark_weights changed its arguments"
    got = landmark_weights(x.astype(np.float32), landmarks.astype(np.float32), 2, SCALE).dtype
    assert got == np.float32, f"landmark_weights of float32 are {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("landmarks", "r", "scale", "options", "named"),
    [
        (U[:, :2], 2, 1.0, {}, "landmarks"),
        (U, 0, 1.0, {}, "n_neighbors"),
        (U, 6, 1.0, {}, "n_neighbors"),
        (U, 2, -1.0, {}, "scale"),
        (U, 2, 1.0, {"block": 0}, "block"),
    ],
)
def test_landmark_weights_refuse(landmarks, r, scale, options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        landmark_weights(X, landmarks, r, scale, **options)


# landmark_embedding


def graph(z):
    """The matrix above (7), dense."""
    sums = z.sum(axis=0)
    return (z[:, sums > 0] / sums[sums > 0]) @ z[:, sums > 0].T


@pytest.mark.parametrize("k", [1, 3, 5])
def test_landmark_embedding_diagonalises_the_landmark_graph(k):
    z = weights(X, U, 3, SCALE)
    values, vectors = landmark_embedding(csr_array(z), k)
    assert_embedding(values, vectors, graph(z), k, f"landmark_embedding(Z, {k})", "W = Z Delta^-1 Z'")


def test_landmark_embedding_begins_with_1_and_a_constant():
    values, vectors = landmark_embedding(csr_array(weights(X, U, 4, SCALE)), 2)
    assert_close(values[0], 1.0, "landmark_embedding(Z, 2)[0][0]", "1, by (7)", rtol=1e-12)
    assert_close(
        abs(vectors[:, 0]), np.full(7, 7**-0.5), "the first vector, up to its sign", "a constant, by (7)", rtol=1e-9
    )


def test_landmark_embedding_of_landmarks_that_nobody_is_near():
    z = np.zeros((7, 8))
    z[:, [0, 2, 3, 5, 7]] = weights(X, U, 3, SCALE)
    stored = csr_array((z.ravel(), np.tile(np.arange(8), 7), 8 * np.arange(8)), shape=(7, 8))
    for sparse, name in ((csr_array(z), "3 empty columns"), (stored, "3 columns of stored zeros")):
        values, vectors = landmark_embedding(sparse, 3)
        assert_embedding(values, vectors, graph(z), 3, f"landmark_embedding(Z with {name}, 3)", "W")


def test_landmark_embedding_of_all_points_as_landmarks():
    # Every point a landmark, all of them neighbours: Z = D^-1 W, and the graph is D^-1 W Delta^-1 W D^-1.
    z = affinities() / affinities().sum(axis=1, keepdims=True)
    values, vectors = landmark_embedding(z, 4)
    assert_embedding(values, vectors, graph(z), 4, "landmark_embedding(dense Z, all points landmarks, 4)", "W")


def test_landmark_embedding_has_no_more_vectors_than_the_rank():
    z = weights(X, U, 3, SCALE)
    z = z[:, [0, 1, 2, 3, 4, 4]] * [1, 1, 1, 1, 0.5, 0.5]
    values, vectors = landmark_embedding(csr_array(z), 6)
    assert values.shape == (5,), (
        f"landmark_embedding of 6 landmarks, of which 2 are equal, has {len(values)} values, expected 5"
    )
    assert_embedding(values, vectors, graph(z), 5, "landmark_embedding(Z with two equal columns, 6)", "W")


def test_landmark_embedding_makes_no_full_matrix():
    rng = np.random.default_rng(0)
    n, p = 10_000, 120
    columns = rng.integers(0, p, (n, 2)) + np.array([0, 1])
    rows = np.full((n, 2), 0.5)
    z = csr_array((rows.ravel(), (columns % p).ravel(), 2 * np.arange(n + 1)), shape=(n, p))
    tracemalloc.start()
    values, vectors = landmark_embedding(z, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4.5e6, (
        f"landmark_embedding(10,000 points, 120 landmarks) took {peak / 1e6:.1f} MB; a full Z takes 9.6"
    )
    back = z @ ((z.T @ vectors) / z.sum(axis=0)[:, None])
    assert_close(back, vectors * values, "W V for 10,000 points", "V times the eigenvalues", rtol=1e-8, atol=1e-9)


def test_landmark_embedding_keeps_to_its_argument():
    z = csr_array(weights(X, U, 3, SCALE))
    kept = z.copy()
    landmark_embedding(z, 2)
    assert np.array_equal(z.toarray(), kept.toarray()), "landmark_embedding changed its argument"
    got = {part.dtype.name for part in landmark_embedding(z.astype(np.float32), 2)}
    assert got == {"float32"}, f"landmark_embedding of float32 is {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("z", "k", "named"),
    [
        (np.eye(3), 0, "n_vectors"),
        (np.eye(3), 4, "n_vectors"),
        (2 * np.eye(3), 1, "z"),
        (np.array([[2.0, -1.0]]), 1, "z"),
    ],
)
def test_landmark_embedding_refuses(z, k, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        landmark_embedding(z, k)


# srgb_to_lab


def test_srgb_to_lab_of_colours_whose_values_are_published():
    colours = np.array([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 0], [0, 1, 1], [1, 0, 1]]])
    # As many tables have them, to two digits, for D65; the last digit depends on the digits of the matrix in (9).
    expected = [[[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86]],
                [[97.14, -21.55, 94.48], [91.11, -48.09, -14.13], [60.32, 98.24, -60.83]]]  # fmt: skip
    assert_close(
        srgb_to_lab(colours),
        expected,
        "srgb_to_lab(red, green, blue; yellow, cyan, magenta)",
        "(10)",
        rtol=0,
        atol=0.015,
    )


def test_srgb_to_lab_of_greys():
    greys = np.array([0.0, 0.02, 0.04, 0.089, 0.095, 0.3, 0.5, 1.0])
    got = srgb_to_lab(np.repeat(greys[:, None, None], 3, axis=2))[:, 0]
    light = np.where(greys < 0.0404, greys / 12.92, ((greys + 0.055) / 1.055) ** 2.4)
    expected = np.where(light < 0.00885, light * 903.2962963, 116 * np.cbrt(light) - 16)
    assert_close(
        got[:, 0], expected, f"L of srgb_to_lab(greys {greys})", "equations (9) and (10)", rtol=1e-9, atol=1e-9
    )
    assert_close(got[:, 1:], np.zeros((8, 2)), "a and b of greys", "0", atol=1e-9)


def test_srgb_to_lab_of_dark_colours():
    colours = np.array([[[0.02, 0.035, 0.01], [0.11, 0.0, 0.039], [0.07, 0.062, 0.05]]])
    got = srgb_to_lab(colours)
    matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    expected = []
    for colour in colours[0]:
        light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        t = [sum(m * c for m, c in zip(row, light, strict=True)) / sum(row) for row in matrix]
        fx, fy, fz = (v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in t)
        expected.append([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])
    assert_close(
        got, [expected], "srgb_to_lab(dark colours)", "the straight pieces of (9) and (10)", rtol=1e-9, atol=1e-9
    )


def test_srgb_to_lab_keeps_to_its_argument():
    image = np.random.default_rng(0).random((3, 5, 3))
    kept = image.copy()
    got = srgb_to_lab(image)
    assert got.shape == (3, 5, 3), f"srgb_to_lab of a (3, 5, 3) image has the shape {got.shape}"
    assert np.array_equal(image, kept), "srgb_to_lab changed the image"
    single = srgb_to_lab(image.astype(np.float32))
    assert single.dtype == np.float32, f"srgb_to_lab of float32 is {single.dtype}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    "image", [np.ones((2, 3)), np.ones((2, 3, 4)), np.full((2, 3, 3), 200.0), np.full((1, 1, 3), -0.1)]
)
def test_srgb_to_lab_refuses(image):
    with pytest.raises(ValueError, match="image must"):
        srgb_to_lab(image)


# pixel_features


@pytest.mark.parametrize("shape", [(3, 5), (5, 2)])
def test_pixel_features_are_colour_and_place_line_by_line(shape):
    image = np.random.default_rng(0).random((*shape, 3))
    got = pixel_features(image, 42.5)
    call = f"pixel_features(image of {shape}, 42.5)"
    colours = srgb_to_lab(image)
    expected = [[*colours[i, j], 42.5 * i / 5, 42.5 * j / 5] for i in range(shape[0]) for j in range(shape[1])]
    assert_close(got, expected, call, "its docstring", **ROUNDING)


def test_pixel_features_without_places():
    got = pixel_features(np.random.default_rng(0).random((3, 5, 3)), 0.0)
    assert_close(got[:, 3:], np.zeros((15, 2)), "places of pixel_features(image, 0)", "0", rtol=0)


def test_pixel_features_keep_to_their_argument():
    image = np.random.default_rng(0).random((3, 5, 3))
    kept = image.copy()
    pixel_features(image, 1.0)
    assert np.array_equal(image, kept), "pixel_features changed the image"
    got = pixel_features(image.astype(np.float32), 1.0).dtype
    assert got == np.float32, f"pixel_features of float32 are {got}, expected float32"


@pytest.mark.given
@pytest.mark.parametrize(
    ("image", "weight", "named"), [(np.ones((2, 3)), 1.0, "image"), (np.ones((2, 3, 3)), -1.0, "position_weight")]
)
def test_pixel_features_refuse(image, weight, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        pixel_features(image, weight)


# segment


def stripes(height, width):
    """Three stripes, unlike each other and of unlike widths, with some noise."""
    colours = np.array([[0.9, 0.2, 0.1], [0.1, 0.6, 0.9], [0.95, 0.9, 0.3]])
    truth = np.tile(np.searchsorted([width // 2, width - width // 4], np.arange(width), side="right"), (height, 1))
    noise = np.random.default_rng(0).uniform(-0.04, 0.04, (height, width, 3))
    return np.clip(colours[truth] + noise, 0, 1), truth


def same_groups(got, truth):
    """Whether two partitions are the same, whatever their numbers."""
    return (
        len(set(zip(got.ravel().tolist(), truth.ravel().tolist(), strict=True)))
        == len(set(got.ravel()))
        == len(set(truth.ravel()))
    )


def test_segment_finds_stripes_of_unlike_colours():
    image, truth = stripes(12, 20)
    for seed in range(3):
        got = segment(
            image, 3, n_landmarks=60, n_neighbors=3, scale=5.0, position_weight=20.0, rng=np.random.default_rng(seed)
        )
        assert got.shape == (12, 20), f"segment of a 12 x 20 image has the shape {got.shape}"
        assert same_groups(got, truth), f"segment(three stripes, 3) returned\n{got}\nexpected the stripes"


def test_segment_tells_apart_what_has_the_same_colour_in_two_places():
    image = np.full((8, 24, 3), 0.1)
    image[:, :7] = image[:, 17:] = [0.9, 0.8, 0.2]
    truth = np.tile(np.repeat([0, 1, 2], [7, 10, 7]), (8, 1))
    got = segment(
        image, 3, n_landmarks=70, n_neighbors=4, scale=8.0, position_weight=90.0, rng=np.random.default_rng(0)
    )
    assert same_groups(got, truth), (
        f"segment(two patches of one colour) returned\n{got}\nexpected both patches and the ground"
    )


def test_segment_follows_the_graph_not_the_distance():
    # A ramp from dark to light, far longer than a patch of another colour is away from it: k-means on the colours halves the ramp.
    image = np.repeat(np.linspace(0.1, 0.9, 30)[None, :, None], 5, axis=0) * np.ones(3)
    image[:, 25:] = [0.45, 0.5, 0.75]
    truth = np.tile(np.arange(30) >= 25, (5, 1))
    options = {"n_landmarks": 100, "n_neighbors": 6, "scale": 8.0, "position_weight": 10.0}
    # Right for each of a hundred seeds.
    got = segment(image, 2, **options, rng=np.random.default_rng(0))
    assert same_groups(got, truth), (
        f"segment(a ramp of greys and a blue patch, 2) returned\n{got}\nexpected the ramp and the patch"
    )


def test_segment_with_all_pixels_as_landmarks():
    image, truth = stripes(8, 10)
    got = segment(
        image, 3, n_landmarks=80, n_neighbors=4, scale=5.0, position_weight=10.0, rng=np.random.default_rng(0)
    )
    assert same_groups(got, truth), (
        f"segment(three stripes, all pixels landmarks) returned\n{got}\nexpected the stripes"
    )


def test_segment_has_no_landmark_twice():
    # Two pixels and two landmarks: each its own segment. One pixel as both landmarks would make one segment.
    image = np.array([[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]])
    for seed in range(12):
        got = segment(image, 2, n_landmarks=2, n_neighbors=1, rng=np.random.default_rng(seed))
        assert got[0, 0] != got[0, 1], (
            f"segment(a black and a white pixel, 2, n_landmarks=2) returned {got}: are both landmarks?"
        )


def test_segment_draws_landmarks_by_its_generator():
    image = np.random.default_rng(0).random((7, 9, 3))
    options = {"n_landmarks": 12, "n_neighbors": 3}
    one, again, other = (segment(image, 4, **options, rng=np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(one, again), "segment with the same generator twice returned different segments"
    assert not same_groups(one, other), (
        "segment of noise returned the same for two generators: landmarks are to be drawn"
    )


def test_segment_of_a_photograph():
    image = load_sample_image("flower.jpg")[::16, ::16] / 255
    got = segment(image, 3, n_landmarks=100, rng=np.random.default_rng(0))
    # The blossom is a disc of 17 pixels across, orange on dark green. Over 12 seeds 99 % of it and none of the ground were one segment.
    height, width = got.shape
    rows, columns = np.indices((height, width))
    away = np.hypot(rows - 235 / 16, columns - 307 / 16)
    blossom, ground = got[away < 6.5], got[(away > 10) & (rows < 19)]
    flower = np.bincount(blossom).argmax()
    inside, outside = np.mean(blossom == flower), np.mean(ground == flower)
    assert inside > 0.9 and outside < 0.1, (
        f"segment(flower.jpg, 3): the largest segment of the blossom has {inside:.0%} of it, expected above 90 %,"
        f" and {outside:.0%} of the ground, expected below 10 %"
    )


def test_segment_keeps_to_its_argument():
    image, _ = stripes(6, 8)
    kept = image.copy()
    segment(image, 2, n_landmarks=10, n_neighbors=2, rng=np.random.default_rng(0))
    assert np.array_equal(image, kept), "segment changed the image"


@pytest.mark.given
@pytest.mark.parametrize(
    ("options", "named"),
    [({"n_landmarks": 49}, "n_landmarks"), ({"n_landmarks": 2}, "n_segments"), ({"n_landmarks": 0}, "n_landmarks")],
)
def test_segment_refuses(options, named):
    with pytest.raises(ValueError, match=f"{named} must"):
        segment(np.ones((6, 8, 3)), 3, rng=np.random.default_rng(0), **options)


@pytest.mark.given
def test_segment_is_given_k_means():
    x = np.array([[0.0, 0.1], [0.1, 0.0], [5.0, 5.1], [5.2, 5.0], [9.0, -4.0]])
    got = k_means(x, 3, rng=np.random.default_rng(0))
    assert same_groups(got, np.array([0, 0, 1, 1, 2])), f"k_means of three clumps returned {got}"
