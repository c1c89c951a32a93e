"""Shared tests of linalg/svd/golub_kahan: run on the reference, and on the learner's file.

Nothing here is random but seeded data. Mirrors and rotations commit errors of a few eps each, relative to the largest
entry; in 600 random matrices the whole decomposition never came to more than 2 n eps, and the tests allow 50. Cases
by hand have few operations, and 1e-13 is hundreds of roundings. Signs of the two diagonals, and of the vectors that go
with them, are free; the product is not.
"""

import itertools
import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, kahan, lauchli, with_singular_values
from mlpath.linalg.svd.golub_kahan import (
    Bidiagonal,
    bidiagonalize,
    chase_zero,
    deflate,
    improve,
    in_order,
    reflect,
    step,
    svd,
    wilkinson_shift,
)
from mlpath.testing import assert_close

RTOL = 1e-13
EPS = np.finfo(float).eps

A43 = np.array([[2.5, -0.7, 1.3], [0.4, 0.9, -2.1], [-1.6, 3.2, 0.8], [0.3, 1.1, -2.7]])
# Diagonals without symmetry, of both signs.
D4, E4 = np.array([2.3, -1.7, 0.9, 1.4]), np.array([0.8, 1.9, -0.6])


def random_matrix(n_rows, n_cols, seed=1):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(seed).normal(0.3, 2, (n_rows, n_cols))


def of_rank(rank, n_rows, n_cols, seed=2):
    """A full matrix of this rank."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, rank)) @ rng.normal(size=(rank, n_cols))


def orthonormal(n_rows, n_cols, seed=4):
    """Random orthonormal columns."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n_rows, n_cols)))[0]


def dense(d, e):
    """The bidiagonal matrix."""
    return np.diag(np.asarray(d, float)) + np.diag(np.asarray(e, float), 1)


def with_factors(d, e, more=0):
    """A `Bidiagonal` with random orthonormal factors, and so many more columns of u."""
    n = len(d)
    return Bidiagonal(orthonormal(n + 3, n + more), np.array(d, float), np.array(e, float), orthonormal(n, n, 5).T)


def product(b):
    """U B V'."""
    return b.u[:, : len(b.d)] @ dense(b.d, b.e) @ b.vt


def assert_orthonormal(vectors, call, eps=EPS):
    """Fail unless the columns are orthonormal, up to rounding."""
    gap = np.abs(vectors.T @ vectors - np.eye(vectors.shape[1])).max(initial=0)
    assert gap <= 50 * len(vectors) * eps, (
        f"{call} is not orthonormal: products of its vectors differ from I by {gap:.3g}"
    )


def assert_same_product(after, before, call):
    """Fail unless U B V' is what it was, and the factors are still orthonormal."""
    assert_close(product(after), product(before), f"U B V' after {call}", "what it was, by (6)", rtol=0, atol=1e-13)
    assert_orthonormal(after.u, f"u after {call}")
    assert_orthonormal(after.vt.T, f"vt after {call}")


def assert_decomposes(a, found, call, full=False):
    """Fail unless A = U S V', both are orthonormal, the values descend and are NumPy's, and signs are settled."""
    (m, n), eps, k = a.shape, np.finfo(a.dtype).eps, min(a.shape)
    shapes = {"u": (m, m if full else k), "s": (k,), "vt": (n if full else k, n)}
    for name, shape in shapes.items():
        part = getattr(found, name)
        assert part.dtype == a.dtype, f"{call}.{name} is an array of {part.dtype}, expected {a.dtype}"
        assert part.shape == shape, f"{call}.{name} has the shape {part.shape}, expected {shape}"
    size = float(np.abs(a).max()) or 1.0
    a, u, s, vt = a.astype(float) / size, found.u.astype(float), found.s.astype(float) / size, found.vt.astype(float)
    assert (np.diff(s) <= 0).all(), f"{call}.s does not descend: {found.s}"
    assert (s >= 0).all(), f"{call}.s has a negative value: {found.s}"
    assert_orthonormal(u, f"{call}.u", eps)
    assert_orthonormal(vt.T, f"{call}.vt", eps)
    allowed = 50 * max(m, n) * eps * max(s[0], eps)
    error = np.abs(u[:, :k] * s @ vt[:k] - a).max()
    assert error <= allowed, f"{call}: U S V' differs from A by {error:.3g} of its largest entry; it should be equal"
    error = np.abs(s - np.linalg.svd(a, compute_uv=False)).max()
    assert error <= allowed, f"{call}.s differs from NumPy's by {error:.3g} of the largest entry of a; see (11)"
    for j, x in enumerate([*u.T, *vt[k:]]):
        assert x.max() >= np.abs(x).max() * (1 - 1e3 * eps), (
            f"{call}: {f'column {j} of u' if j < u.shape[1] else 'a row of vt without partner'} is {x}; "
            "its entry of largest absolute value should be positive"
        )


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    parts = [[a.u, a.d, a.e, a.vt] if isinstance(a, Bidiagonal) else [a] for a in arguments]
    arrays = list(itertools.chain(*parts))
    before = [a.copy() for a in arrays]
    function(*arguments)
    for a, copy in zip(arrays, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# reflect


def test_reflect_applies_one_mirror_to_the_last_rows():
    v, x = np.array([1.0, 0.5, -1.5]), random_matrix(5, 2)
    mirror = np.eye(5)
    mirror[2:, 2:] -= 0.4 * np.outer(v, v)
    found = reflect([(v, 0.4)], x)
    assert_close(found, mirror @ x, "reflect([(v, 0.4)], x), v of 3 entries, x of 5 rows", "H x", rtol=RTOL, atol=1e-14)


def test_reflect_applies_the_last_mirror_first():
    x = random_matrix(4, 3)
    mirrors = [(np.array([1.0, 0.7, -1.2, 0.4]), 0.6), (np.array([1.0, 0.3, -0.8]), 0.9), (np.array([1.0, 2.1]), 0.2)]
    expected = x
    for v, beta in reversed(mirrors):
        whole = np.concatenate([np.zeros(4 - len(v)), v])
        expected = expected - beta * np.outer(whole, whole @ expected)
    found = reflect(mirrors, x)
    assert_close(found, expected, "reflect of three mirrors of 4, 3 and 2 entries", "H1 H2 H3 x", rtol=RTOL, atol=1e-14)


def test_reflect_without_mirrors_returns_a_copy():
    x = random_matrix(3, 2)
    found = reflect([], x)
    assert_close(found, x, "reflect([], x)", "there is no mirror")
    found[0, 0] = 7.0
    assert x[0, 0] != 7.0, "reflect([], x) returned x itself: whoever changes one changes the other"


def test_reflect_keeps_float32_and_its_argument():
    v = np.array([1.0, 0.5], np.float32)
    found = reflect([(v, 1.6)], random_matrix(3, 2).astype(np.float32))
    assert found.dtype == np.float32, f"reflect in float32 returned an array of {found.dtype}"
    unchanged(lambda x: reflect([(v, 1.6)], x), random_matrix(3, 2))


# bidiagonalize


def test_bidiagonalize_by_hand():
    # The first column of a is (1, 4, 8), of length 9.
    u = np.array([[1.0, 4, 8], [4, 7, -4], [8, -4, 1]]) / 9
    v = np.array([[1.0, 0, 0], [0, 0.6, -0.8], [0, 0.8, 0.6]])
    a = u @ dense([9.0, 2.3, 1.1], [5.0, -1.7]) @ v.T
    found = bidiagonalize(a)
    assert_close(np.abs(found.d), [9.0, 2.3, 1.1], "absolute values of bidiagonalize(a).d", "equation (1)", rtol=1e-12)
    assert_close(np.abs(found.e), [5.0, 1.7], "absolute values of bidiagonalize(a).e", "equation (1)", rtol=1e-12)
    assert_close(np.abs(found.u), np.abs(u), "absolute values of bidiagonalize(a).u", "equation (2)", rtol=1e-12)
    assert_close(
        np.abs(found.vt), np.abs(v.T), "absolute values of bidiagonalize(a).vt", "equation (2)", rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("n_rows", "n_cols"), [(1, 1), (5, 1), (2, 2), (4, 3), (9, 6), (7, 7)])
def test_bidiagonalize_returns_three_factors_of_a(n_rows, n_cols, full):
    a = random_matrix(n_rows, n_cols)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bidiagonalize(a, full=full)
    call = f"bidiagonalize(a, full={full}), a {n_rows} x {n_cols},"
    shapes = {"u": (n_rows, n_rows if full else n_cols), "d": (n_cols,), "e": (n_cols - 1,), "vt": (n_cols, n_cols)}
    for name, shape in shapes.items():
        got = getattr(found, name).shape
        assert got == shape, f"{call} .{name} has the shape {got}, expected {shape}"
    assert_orthonormal(found.u, f"{call} .u")
    assert_orthonormal(found.vt.T, f"{call} .vt")
    assert_close(product(found), a, f"U B V' of {call}", "equation (1)", rtol=0, atol=1e-13)


def test_bidiagonalize_leaves_the_first_coordinate_alone_on_the_right():
    found = bidiagonalize(random_matrix(6, 4))
    expected = np.eye(4)[0]
    assert_close(
        np.abs(found.vt[0]), expected, "the first row of bidiagonalize(a).vt", "(2): G begins with entry 2", atol=1e-15
    )


@pytest.mark.parametrize("name", ["zeros", "zero columns", "zero rows", "rank 1", "already bidiagonal"])
def test_bidiagonalize_where_there_is_little_to_do(name):
    a = {
        "zeros": np.zeros((5, 3)),
        "zero columns": random_matrix(6, 4) * [0.0, 1.3, 0.0, 2.1],
        "zero rows": random_matrix(6, 4) * np.array([[0.0, 1.3, 0.0, 2.1, 0.0, 0.7]]).T,
        "rank 1": of_rank(1, 6, 4),
        "already bidiagonal": dense(D4, E4),
    }[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bidiagonalize(a)
    assert_orthonormal(found.u, f"bidiagonalize(a).u, a {name},")
    assert_orthonormal(found.vt.T, f"bidiagonalize(a).vt, a {name},")
    assert_close(product(found), a, f"U B V' of bidiagonalize(a), a {name},", "equation (1)", rtol=0, atol=1e-13)


def test_bidiagonalize_keeps_float32_and_its_argument():
    found = bidiagonalize(A43.astype(np.float32))
    for name in ("u", "d", "e", "vt"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"bidiagonalize in float32 returned {name} in {dtype}"
    unchanged(bidiagonalize, A43.copy())


# deflate


def test_deflate_finds_the_last_block():
    cases = [
        ([0.8, 1.9, -0.6], (0, 4)),
        ([0.8, 0.0, -0.6], (2, 4)),
        ([0.8, 1.9, 0.0], (0, 3)),
        ([0.0, 1.9, -0.6], (1, 4)),
        ([0.0, 1.9, 0.0], (1, 3)),
        ([0.8, 0.0, 0.0], (0, 2)),
        ([0.0, 0.0, 0.0], (0, 0)),
    ]
    for e, block in cases:
        found = deflate(D4, np.array(e))
        assert_close(found[2:], block, f"deflate([2.3, -1.7, 0.9, 1.4], {e}), start and stop", "its docstring")
        assert_close(found[1], e, f"deflate([2.3, -1.7, 0.9, 1.4], {e}), its e", "nothing is negligible")
        assert_close(found[0], D4, f"deflate([2.3, -1.7, 0.9, 1.4], {e}), its d", "nothing is negligible")


def test_deflate_compares_e_with_its_two_neighbours():
    d = np.array([1.0, -3e-6, 2e-6, 4.0])
    for factor, expected in ((0.9, 0.0), (1.1, 1.0)):
        e = np.array([0.7, -5e-6 * factor * EPS, 0.4])
        found = deflate(d, e)[1]
        call = f"deflate({d.tolist()}, {e.tolist()}), its e,"
        assert_close(found, e * [1, expected, 1], call, "(9): eps times the sum of two absolute values")


def test_deflate_compares_d_with_the_largest_entry():
    for largest in ("d", "e"):
        d, e = np.array([1.1, 0.3, 0.7]), np.array([0.6, 0.2])
        (d if largest == "d" else e)[0] = -8.0
        for factor, expected in ((0.9, 0.0), (1.1, 1.0)):
            d[1] = -8 * factor * EPS
            found = deflate(d, e)[0]
            call = f"deflate({d.tolist()}, {e.tolist()}), its d,"
            assert_close(found, d * [1, expected, 1], call, "(9): eps times the largest of all absolute values")


def test_deflate_does_not_depend_on_the_size():
    d, e = np.array([3e-20, -2e-20, 5e-20]), np.array([1e-20, 4e-20])
    found = deflate(d, e)
    for got, expected, name in zip(found, (d, e, 0, 3), ("d", "e", "start", "stop"), strict=True):
        assert_close(got, expected, f"deflate of entries near 1e-20, its {name}", "(9): nothing is negligible", atol=0)


def test_deflate_neglects_e_beside_the_new_d():
    # d[0] and d[1] are negligible beside 4, and once they are 0, e[0] is not: it stays, and will be chased out.
    d, e = np.array([2e-17, 3e-17, 4.0]), np.array([1e-33, 0.5])
    found = deflate(d, e)
    assert_close(found[0], [0.0, 0.0, 4.0], f"deflate({d.tolist()}, {e.tolist()}), its d", "equation (9)")
    assert_close(found[1], e, f"deflate({d.tolist()}, {e.tolist()}), its e", "(9), d being 0 now")


def test_deflate_of_zeros_and_of_a_single_number():
    for d, e in (([0.0, 0.0, 0.0], [0.0, 0.0]), ([-2.6], []), ([0.0], [])):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = deflate(np.array(d), np.array(e))
        assert_close(found[0], d, f"deflate({d}, {e}), its d", "its docstring")
        assert_close(found[2:], (0, 0), f"deflate({d}, {e}), start and stop", "there is no block")


def test_deflate_goes_by_the_epsilon_of_float32():
    d, e = np.array([1.2, 1e-8, 2.3], np.float32), np.array([1e-8, 0.7], np.float32)
    found = deflate(d, e)
    assert found[0].dtype == found[1].dtype == np.float32, "deflate in float32 returned other precisions"
    assert_close(found[0], d * [1, 0, 1], "deflate of [1.2, 1e-8, 2.3] in float32, its d", "equation (9)")
    assert_close(found[1], e * [0, 1], "deflate of [1e-8, 0.7] in float32, its e", "equation (9)")


def test_deflate_leaves_its_arguments_alone():
    unchanged(deflate, np.array([1.0, 1e-20, 2.0]), np.array([1e-30, 1e-20]))


# wilkinson_shift


def test_wilkinson_shift_is_the_root_of_the_nearer_eigenvalue():
    cases = [
        ([2.3, -1.7], [0.8]),
        ([1.1, 2.9], [-1.6]),
        ([0.4, 0.7], [2.2]),
        (D4, E4),
        (D4[::-1], E4[::-1]),
        ([2.0, 1.0], [0.1]),
    ]
    for d, e in cases:
        b = dense(d, e)
        t = (b.T @ b)[-2:, -2:]
        values = np.linalg.eigvalsh(t)
        nearer = values[np.abs(values - t[1, 1]).argmin()]
        call = f"wilkinson_shift({np.asarray(d).tolist()}, {np.asarray(e).tolist()})"
        found = wilkinson_shift(np.array(d), np.array(e))
        assert_close(found, np.sqrt(nearer), call, "(8): the eigenvalue nearer to the last entry of T", rtol=1e-12)


def test_wilkinson_shift_counts_what_is_above_the_block_of_two():
    found = wilkinson_shift(np.array([5.0, 1.2, 0.9]), np.array([1.6, 0.5]))
    t = np.array([[1.2**2 + 1.6**2, 1.2 * 0.5], [1.2 * 0.5, 0.9**2 + 0.5**2]])
    expected = np.sqrt(np.linalg.eigvalsh(t)[0])
    assert_close(found, expected, "wilkinson_shift([5, 1.2, 0.9], [1.6, 0.5])", "(3): t has e_{i-1}, too", rtol=1e-12)


def test_wilkinson_shift_where_both_are_equally_near():
    found = wilkinson_shift(np.array([1.0, 1.5, 2.0]), np.array([2.0, 1.5]))
    # t11 = 2.25 + 4, t22 = 4 + 2.25, and 2.25 beside the diagonal: eigenvalues 4 and 8.5
    assert_close(found, 2.0, "wilkinson_shift([1, 1.5, 2], [2, 1.5])", "(8) with delta = 0", rtol=1e-12)


def test_wilkinson_shift_of_a_multiple_of_the_identity():
    # T ends in [[25, 0], [0, 25]]: with a zero in d, and 5^2 = 3^2 + 4^2.
    got = wilkinson_shift(np.array([1.0, 0.0, 3.0]), np.array([5.0, 4.0]))
    assert_close(
        got, 5.0, "wilkinson_shift([1, 0, 3], [5, 4])", "the root of the only eigenvalue of the last block of T"
    )


def test_wilkinson_shift_does_not_cancel():
    # mu = q^2 + r^2 - (pr)^2 / (p^2 - q^2 - r^2 + ...), with everything but the first term tiny
    found = wilkinson_shift(np.array([1e6, 3e-3]), np.array([4e-3]))
    assert_close(found, 3e-3, "wilkinson_shift([1e6, 3e-3], [4e-3])", "equation (8)", rtol=1e-7)


def test_wilkinson_shift_of_what_is_diagonal_or_singular():
    for d, e, expected in (
        ([2.3, 0.0], [0.7], 0.0),
        ([1.0, 2.3, 0.0], [0.0, 0.7], 0.0),
        ([1.3, 2.3, 0.0], [0.0, 0.0], 0.0),
        ([2.3, -1.4], [0.0], 1.4),
        ([0.0, 1.4], [0.0], 1.4),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = wilkinson_shift(np.array(d), np.array(e))
        assert_close(found, expected, f"wilkinson_shift({d}, {e})", "equation (8)", rtol=1e-12, atol=1e-7)


def test_wilkinson_shift_is_0_where_rounding_makes_its_square_negative():
    pairs = np.random.default_rng(6).uniform(0.1, 1, (100, 2))
    found = [wilkinson_shift(np.array([p + r, 0.0]), np.array([r])) for p, r in pairs]
    assert_close(found, np.zeros(100), "wilkinson_shift([p, 0], [r]) for 100 pairs p > r", "(8): mu is 0", atol=1e-6)


# step


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_step_does_to_b_what_a_qr_step_does_to_t(n):
    rng = np.random.default_rng(7)
    b = with_factors(rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n), rng.uniform(0.5, 2, n - 1))
    shift = 0.37
    after = step(b, shift)
    t = dense(b.d, b.e).T @ dense(b.d, b.e)
    q, r = np.linalg.qr(t - shift**2 * np.eye(n))
    expected = r @ q + shift**2 * np.eye(n)
    got = dense(after.d, after.e).T @ dense(after.d, after.e)
    call = f"step(b, {shift}), n = {n}: absolute values of B'B"
    assert_close(np.abs(got), np.abs(expected), call, "T' of (4), but for signs", rtol=0, atol=1e-11)


@pytest.mark.parametrize("shift", [0.0, 0.37, 1.9, 40.0])
@pytest.mark.parametrize("more", [0, 2])
def test_step_keeps_the_product_and_orthogonality(shift, more):
    b = with_factors(D4, E4, more)
    after = step(b, shift)
    assert_same_product(after, b, f"step(b, {shift})")
    assert after.d.shape == (4,) and after.e.shape == (3,), "step changed the lengths of d and e"
    call = f"columns of u beyond the block after step(b, {shift})"
    assert_close(after.u[:, 4:], b.u[:, 4:], call, "its docstring: as they were")


def test_step_turns_the_two_factors_by_what_the_note_says():
    # For 2 x 2 by hand: d = (1.5, 0.8), e = 0.6, shift 0.5: y : z = (1.5 - 0.5) (1 + 0.5 / 1.5) : 0.6
    d, e, shift = np.array([1.5, 0.8]), np.array([0.6]), 0.5
    y, z = 4 / 3, 0.6
    right = np.array([[y, -z], [z, y]]) / np.hypot(y, z)
    b = dense(d, e) @ right
    after = step(Bidiagonal(np.eye(2), d, e, np.eye(2)), shift)
    call = "step of d = (1.5, 0.8), e = 0.6 with the shift 0.5"
    assert_close(np.abs(after.vt), np.abs(right.T), f"{call}: absolute values of vt", "equations (5), (6)", rtol=1e-12)
    left = b[:, 0] / np.hypot(*b[:, 0])
    assert_close(np.abs(after.u[:, 0]), np.abs(left), f"{call}: absolute values of u[:, 0]", "equation (7)", rtol=1e-12)
    assert_close(abs(after.d[0]), np.hypot(*b[:, 0]), f"{call}: abs(d[0])", "equation (7)", rtol=1e-12)


def test_step_with_wilkinsons_shift_finishes_two_rows_at_once():
    b = with_factors([2.3, -1.7], [0.8])
    after = step(b, wilkinson_shift(b.d, b.e))
    assert abs(after.e[0]) <= 1e-14, (
        f"step of a 2 x 2 block with its own singular value as a shift left e = {after.e[0]:.3g}"
    )
    expected = np.linalg.svd(dense(b.d, b.e), compute_uv=False)
    assert_close(
        np.sort(np.abs(after.d))[::-1], expected, "absolute values of d, sorted,", "singular values", rtol=1e-12
    )


def test_step_brings_about_a_zero_beside_a_zero_at_the_end_of_d():
    b = with_factors([2.3, -1.7, 0.9, 0.0], E4)
    for _ in range(5):
        b = step(b, wilkinson_shift(b.d, b.e))
    assert abs(b.e[-1]) <= 1e-13, f"five steps on a block that ends with d = 0 left e = {b.e[-1]:.3g}; expected 0"


def test_step_with_a_huge_shift_still_keeps_its_digits():
    d, e = np.array([1e-8, 2.0, 1.5]), np.array([0.9, 0.7])
    b = with_factors(d, e)
    assert_same_product(step(b, 2.5), b, "step of d = (1e-8, 2, 1.5) with the shift 2.5")


def test_step_keeps_float32_and_its_argument():
    b = with_factors(D4, E4)
    found = step(Bidiagonal(*(x.astype(np.float32) for x in (b.u, b.d, b.e, b.vt))), 0.4)
    for name in ("u", "d", "e", "vt"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"step in float32 returned {name} in {dtype}"
    unchanged(lambda b: step(b, 0.4), b)


# chase_zero


@pytest.mark.parametrize(("n", "k"), [(2, 0), (3, 0), (3, 1), (6, 0), (6, 2), (6, 4)])
def test_chase_zero_makes_e_zero_and_keeps_the_product(n, k):
    rng = np.random.default_rng(8)
    d, e = rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n), rng.uniform(-2, 2, n - 1)
    d[k] = 0
    b = with_factors(d, e, 1)
    after = chase_zero(b, k)
    call = f"chase_zero(b, {k}), n = {n}"
    assert_close(after.e[k], 0.0, f"e[{k}] after {call}", "equation (10)")
    assert_close(after.d[k], 0.0, f"d[{k}] after {call}", "equation (10)")
    assert_same_product(after, b, call)
    assert_close(after.vt, b.vt, f"vt after {call}", "its docstring: only rows are rotated")
    assert_close(after.d[:k], d[:k], f"d before row {k} after {call}", "its docstring")
    assert_close(after.e[:k], e[:k], f"e before row {k} after {call}", "its docstring")
    assert_close(after.u[:, n:], b.u[:, n:], f"u beyond the block after {call}", "no row belongs to it")


def test_chase_zero_by_hand():
    # (4, 3) becomes 5, then -0.8 * 2 against 1.2 becomes 2.
    b = Bidiagonal(np.eye(3), np.array([0.0, 3.0, 1.2]), np.array([4.0, 2.0]), np.eye(3))
    after = chase_zero(b, 0)
    call = "chase_zero of d = (0, 3, 1.2), e = (4, 2)"
    assert_close(np.abs(after.d), [0.0, 5.0, 2.0], f"{call}: absolute values of d", "equation (10)", rtol=1e-12)
    assert_close(np.abs(after.e), [0.0, 1.2], f"{call}: absolute values of e", "equation (10)", rtol=1e-12)


def test_chase_zero_beside_other_zeros():
    b = with_factors([0.0, 0.0, 0.0, 1.4], E4)
    for k in (2, 1, 0):
        b = chase_zero(b, k)
        assert_close(b.e[k], 0.0, f"e[{k}] after chase_zero(b, {k}) with d = (0, 0, 0, 1.4)", "equation (10)")
    assert_same_product(b, with_factors([0.0, 0.0, 0.0, 1.4], E4), "chase_zero of three zeros")


def test_chase_zero_keeps_float32_and_its_argument():
    b = with_factors([2.3, 0.0, 0.9, 1.4], E4)
    found = chase_zero(Bidiagonal(*(x.astype(np.float32) for x in (b.u, b.d, b.e, b.vt))), 1)
    for name in ("u", "d", "e", "vt"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"chase_zero in float32 returned {name} in {dtype}"
    unchanged(lambda b: chase_zero(b, 1), b)


# improve


@pytest.mark.parametrize("zeros", [[1], [0], [0, 2]])
def test_improve_chases_the_last_zero_of_the_diagonal(zeros):
    d = D4.copy()
    d[zeros] = 0
    b = with_factors(d, E4)
    after, expected = improve(b), chase_zero(b, zeros[-1])
    assert_close(np.abs(after.d), np.abs(expected.d), f"improve(b), d = {d.tolist()}: absolute values of d", "(10)")
    assert_close(np.abs(after.e), np.abs(expected.e), f"improve(b), d = {d.tolist()}: absolute values of e", "(10)")


@pytest.mark.parametrize("last", [1.4, 0.0])
def test_improve_makes_a_step_with_wilkinsons_shift(last):
    b = with_factors([*D4[:3], last], E4)
    after, expected = improve(b), step(b, wilkinson_shift(b.d, b.e))
    call = f"improve(b), the last of d being {last}:"
    assert_close(np.abs(after.d), np.abs(expected.d), f"{call} absolute values of d", "a step, (8)", rtol=1e-9)
    assert_close(
        np.abs(after.e), np.abs(expected.e), f"{call} absolute values of e", "a step, (8)", rtol=1e-9, atol=1e-12
    )
    assert_same_product(after, b, "improve(b)")


def test_improve_repeated_converges_with_the_third_order():
    b, history = with_factors(D4, E4), [abs(E4[-1])]
    for _ in range(4):
        b = improve(b)
        history.append(abs(b.e[-1]))
    for before, after in itertools.pairwise(history):
        if before < 0.05:
            assert after <= 10 * before**3 + 1e-15, (
                f"the last e goes {history}; (8) promises about the cube of what was there"
            )
    assert history[-1] <= 1e-15, f"after four iterations the last e is {history[-1]:.3g}; expected rounding"


def test_improve_leaves_its_argument_alone():
    unchanged(improve, with_factors(D4, E4))


# svd

MATRICES = {
    "tall": random_matrix(7, 4),
    "wide": random_matrix(3, 8),
    "square": random_matrix(5, 5),
    "one column": random_matrix(6, 1),
    "one row": random_matrix(1, 6),
    "a single number": np.array([[-2.6]]),
    "zeros, tall": np.zeros((4, 3)),
    "zeros, wide": np.zeros((2, 3)),
    "with zero columns": random_matrix(6, 4) * [0.0, 1.0, 0.0, 2.0],
    "with zero rows": (random_matrix(6, 4) * [0.0, 1.0, 0.0, 2.0]).T,
    "diagonal, ascending": np.diag([0.2, -1.3, 3.4]),
    "orthogonal": orthonormal(4, 4),
    "rank 1": of_rank(1, 6, 4),
    "rank 2, tall": of_rank(2, 7, 5),
    "rank 2, wide": of_rank(2, 5, 7),
    "all ones": np.ones((4, 3)),
    "equal singular values": with_singular_values([2.0, 2.0, 0.5, 0.5], 6, np.random.default_rng(0)),
    "near 1e-300": 1e-300 * random_matrix(7, 4),
    "near 1e-150": 1e-150 * random_matrix(4, 7),
    "near 1e150": 1e150 * random_matrix(7, 4),
    "near 1e300": 1e300 * random_matrix(4, 7),
    "rank 2 near 1e150": 1e150 * of_rank(2, 5, 7),
    "Hilbert": hilbert(9, 6),
    "Lauchli": lauchli(4, 1e-9),
    "Kahan": kahan(7),
    "columns from 1 to 1e-200": random_matrix(6, 4) * [1.0, 1e-200, 1e-60, 1e-9],
    "bidiagonal": dense(D4, E4),
    "bidiagonal, zero inside d": dense([2.3, 0.0, 0.9, 1.4], E4),
    "bidiagonal, zero first in d": dense([0.0, -1.7, 0.9, 1.4], E4),
    "bidiagonal, zero last in d": dense([2.3, -1.7, 0.9, 0.0], E4),
    "bidiagonal, zeros only in d": dense([0.0, 0.0, 0.0, 0.0], E4),
    "bidiagonal, a zero in e": dense(D4, [0.8, 0.0, -0.6]),
    "graded downwards": dense(10.0 ** -np.arange(0, 25, 4), 10.0 ** -np.arange(0, 24, 4)),
    "graded upwards": dense(10.0 ** -np.arange(24, -1, -4.0), 10.0 ** -np.arange(20, -1, -4.0)),
}


@pytest.mark.parametrize("name", MATRICES)
def test_svd_decomposes_whatever_matrix(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = svd(MATRICES[name])
    assert_decomposes(MATRICES[name], found, f"svd(a), a {name},")


@pytest.mark.parametrize(
    "name",
    ["tall", "wide", "square", "one column", "one row", "zeros, tall", "zeros, wide", "rank 2, tall", "rank 2, wide"],
)
def test_svd_completes_both_factors_in_the_full_form(name):
    found = svd(MATRICES[name], full=True)
    assert_decomposes(MATRICES[name], found, f"svd(a, full=True), a {name},", full=True)


def test_svd_decomposes_larger_matrices_in_few_iterations():
    a = random_matrix(30, 20)
    found = svd(a)
    assert_decomposes(a, found, "svd of a 30 x 20 matrix")
    assert 20 <= found.iterations <= 60, (
        f"svd of a random 30 x 20 matrix took {found.iterations} iterations; 35 are usual"
    )


def test_svd_counts_its_iterations():
    for name in ("diagonal, ascending", "a single number", "zeros, tall", "one row"):
        assert_close(svd(MATRICES[name]).iterations, 0, f"svd(a).iterations, a {name}", "nothing is left to do")
    found = svd(np.array([[2.3, 0.8], [0.0, -1.7]])).iterations
    assert_close(found, 1, "svd([[2.3, 0.8], [0, -1.7]]).iterations", "one step finishes 2 x 2")
    found = svd(dense([0.0, 0.0, 0.0, 0.0], E4)).iterations
    assert found <= 6, f"svd of a bidiagonal matrix with zeros only in d took {found} iterations; 3 or 4 are usual"


def test_svd_raises_where_the_iterations_do_not_suffice():
    a = random_matrix(8, 5)
    needed = svd(a).iterations
    exact = svd(a, max_iterations=needed).iterations
    assert_close(exact, needed, f"svd(a, max_iterations={needed}).iterations", "what it needs")
    for allowed in (needed - 1, 0):
        try:
            outcome = svd(a, max_iterations=allowed).iterations
        except np.linalg.LinAlgError:
            outcome = "LinAlgError"
        call = f"svd(a, max_iterations={allowed}) of a matrix that needs {needed}, its iterations,"
        assert_close(outcome, "LinAlgError", call, "its docstring: an error")


@pytest.mark.parametrize(("n_rows", "n_cols", "full"), [(7, 4, True), (4, 7, False), (1, 1, False)])
def test_svd_keeps_float32(n_rows, n_cols, full):
    a = random_matrix(n_rows, n_cols).astype(np.float32)
    assert_decomposes(a, svd(a, full=full), f"svd(a, full={full}) of a {n_rows} x {n_cols} matrix in float32", full)


def test_svd_of_float32_zeros():
    assert_decomposes(np.zeros((3, 2), np.float32), svd(np.zeros((3, 2), np.float32)), "svd of zeros in float32")


def test_svd_takes_whole_numbers_and_leaves_its_matrix_alone():
    found = svd(np.array([[3, 0], [4, 5]]))
    assert_close(found.s, np.sqrt([45, 5]), "svd([[3, 0], [4, 5]]).s", "the squares are 45 and 5", rtol=RTOL)
    unchanged(svd, A43.copy())
    unchanged(svd, np.eye(3))


# What is given: the checks of the arguments, and in_order

BAD_MATRICES = [
    np.ones(2),
    np.zeros((0, 2)),
    np.array([[np.nan]]),
    np.array([[np.inf, 1.0]]),
    [["a"]],
    np.ones((2, 2, 2)),
]


@pytest.mark.given
@pytest.mark.parametrize("bad", BAD_MATRICES)
def test_reflect_bidiagonalize_and_svd_refuse_what_is_no_matrix(bad):
    with pytest.raises(ValueError, match="x must"):
        reflect([], bad)
    for call in (bidiagonalize, svd):
        with pytest.raises(ValueError, match="a must"):
            call(bad)


@pytest.mark.given
def test_reflect_refuses_mirrors_that_are_too_long():
    for v in (np.ones(3), np.ones((2, 1))):
        with pytest.raises(ValueError, match="mirrors must"):
            reflect([(v, 1.0)], np.ones((2, 2)))


@pytest.mark.given
def test_bidiagonalize_refuses_wide_matrices():
    with pytest.raises(ValueError, match="a must"):
        bidiagonalize(np.ones((2, 3)))


@pytest.mark.given
def test_deflate_and_wilkinson_shift_refuse_what_are_no_diagonals():
    for function in (deflate, wilkinson_shift):
        for d in (np.ones((2, 1)), np.zeros(0), np.array([1.0, np.nan])):
            with pytest.raises(ValueError, match="d must"):
                function(d, np.ones(1))
        for e in (np.ones(2), np.ones((1, 1)), np.array([np.inf])):
            with pytest.raises(ValueError, match="e must"):
                function(np.ones(2), e)
    with pytest.raises(ValueError, match="d must"):
        wilkinson_shift(np.ones(1), np.zeros(0))


@pytest.mark.given
def test_step_chase_zero_and_improve_refuse_parts_that_do_not_fit():
    calls = (lambda b: step(b, 0.3), lambda b: chase_zero(b, 0), improve)
    good = {"u": np.eye(2), "d": np.array([0.7, 1.2]), "e": np.array([0.4]), "vt": np.eye(2)}
    for call in calls:
        for name, bad in (
            ("u", np.ones((3, 1))),
            ("u", np.full((2, 2), np.nan)),
            ("d", np.array([np.nan, 1.0])),
            ("e", np.ones(2)),
            ("u", np.ones(2)),
            ("vt", np.ones(2)),
        ):
            with pytest.raises(ValueError, match=f"{name} must"):
                call(Bidiagonal(**(good | {name: bad})))
        with pytest.raises(ValueError, match="vt as many"):
            call(Bidiagonal(**(good | {"vt": np.eye(3)})))


@pytest.mark.given
def test_step_refuses_single_rows_zeros_and_impossible_shifts():
    single = Bidiagonal(np.eye(1), np.ones(1), np.zeros(0), np.eye(1))
    for call in (improve, lambda b: step(b, 0.3)):
        with pytest.raises(ValueError, match="d must"):
            call(single)
    with pytest.raises(ValueError, match="d must"):
        step(Bidiagonal(np.eye(2), np.array([0.0, 1.0]), np.ones(1), np.eye(2)), 0.3)
    for shift in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="shift must"):
            step(with_factors(D4, E4), shift)


@pytest.mark.given
def test_chase_zero_refuses_other_rows():
    b = with_factors([0.0, 1.2, 0.0], [0.7, 0.9])
    for k in (1, 2, -1, 3):
        with pytest.raises(ValueError, match="k must"):
            chase_zero(b, k)


@pytest.mark.given
def test_in_order_sorts_and_makes_positive():
    u, d, vt = orthonormal(6, 5), np.array([1.7, -4.2, 0.0, -2.3]), orthonormal(4, 4).T
    found_u, s, found_vt = in_order(u, d, vt)
    assert_close(s, [4.2, 2.3, 1.7, 0.0], "in_order(u, d, vt), its s", "its docstring")
    assert_close(
        found_u[:, :4] * s @ found_vt, u[:, :4] * d @ vt, "the product after in_order", "what it was", atol=1e-14
    )
    assert_close(found_u[:, 4], u[:, 4], "the last column of u after in_order", "its docstring: it stays")


@pytest.mark.given
def test_in_order_refuses_what_does_not_fit():
    for u, vt in ((np.eye(2)[:, :1], np.eye(2)), (np.eye(2), np.eye(3)), (np.eye(2), np.ones((2, 3)))):
        with pytest.raises(ValueError, match="d must"):
            in_order(u, np.ones(2), vt)


@pytest.mark.given
def test_svd_refuses_a_negative_number_of_iterations():
    with pytest.raises(ValueError, match="max_iterations must"):
        svd(A43, max_iterations=-1)
