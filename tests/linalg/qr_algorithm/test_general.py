"""Shared tests of linalg/qr_algorithm/general: run on the reference, and on the learner's file.

Nothing here is random but seeded data. A computed Schur form is exact for a matrix that differs from the given one by a
few n eps times its norm, equation (11): in practice by up to 3 n eps times the largest entry, and the tests allow 50.
Eigenvalues are compared with NumPy's as sets, where they are well conditioned. Cases by hand have few operations, and
1e-13 is hundreds of roundings. Signs that the note leaves open, those of mirrors, are free.
"""

import warnings

import numpy as np
import pytest

from mlpath.linalg.qr_algorithm.general import (
    block_eigenvalues,
    deflate,
    double_shift,
    eigenvalues,
    first_column,
    francis_step,
    hessenberg,
    real_schur,
)
from mlpath.testing import assert_close

RTOL = 1e-13
EPS = np.finfo(float).eps

A4 = np.array([[2.5, -0.7, 1.3, 0.6], [-1.9, 0.9, -2.1, 1.7], [0.8, 3.1, -1.6, 0.4], [-0.2, 1.1, 2.3, 3.2]])
H5 = np.array(
    [
        [2.3, -1.2, 0.7, 1.9, -0.4],
        [1.4, 0.6, -2.1, 0.3, 1.1],
        [0.0, -0.9, 1.7, 2.2, -0.8],
        [0.0, 0.0, 1.3, -0.5, 2.6],
        [0.0, 0.0, 0.0, -1.6, 3.1],
    ]
)


def random_matrix(n, seed=1):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(seed).normal(0.3, 2, (n, n))


def random_hessenberg(n, seed=2):
    """Entries of both signs, none beside the diagonal near zero."""
    rng = np.random.default_rng(seed)
    h = np.triu(rng.normal(0.3, 1, (n, n)))
    return h + np.diag(rng.uniform(0.5, 2, n - 1) * rng.choice([-1, 1], n - 1), -1)


def explicit_matrix(h, total, product):
    """M of equation (2)."""
    return h @ h - total * h + product * np.eye(len(h))


def distance(found, expected):
    """The largest distance between partners, if each number of `found` takes the nearest of `expected` that is left."""
    left, worst = list(np.asarray(expected, dtype=complex)), 0.0
    for value in found:
        nearest = int(np.argmin(np.abs(np.array(left) - value)))
        worst = max(worst, abs(left.pop(nearest) - value))
    return worst


def assert_similar(a, h, q, call):
    """Fail unless A = Q H Q' and Q'Q = I up to rounding, relative to the largest entry of A."""
    n, eps = len(a), np.finfo(a.dtype).eps
    for name, part in (("the first matrix", h), ("q", q)):
        assert part.dtype == a.dtype, f"{call}: {name} is {part.dtype}, expected {a.dtype}"
        assert part.shape == a.shape, f"{call}: {name} has the shape {part.shape}, expected {a.shape}"
    size = float(np.abs(a).max()) or 1.0
    h, q, a = h.astype(float) / size, q.astype(float), a.astype(float) / size
    assert_close(q @ h @ q.T, a, f"{call}: q @ h @ q.T", "the matrix itself", rtol=0, atol=50 * n * eps)
    assert_close(q.T @ q, np.eye(n), f"{call}: q.T @ q", "orthogonality", rtol=0, atol=50 * n * eps)


def assert_hessenberg(h, call):
    assert not np.tril(h, -2).any(), f"{call} has entries below what is beside the diagonal; (1) has exact zeros:\n{h}"


def assert_schur(a, found, call):
    """Fail unless the form is quasi-triangular, and A = Q T Q' up to rounding."""
    assert_hessenberg(found.t, f"{call}.t")
    beside = np.diagonal(found.t, -1) != 0
    assert not (beside[1:] & beside[:-1]).any(), f"{call}.t has a block of three rows: beside its diagonal {beside}"
    assert_similar(a, found.t, found.q, call)


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    before = [np.copy(a) for a in arguments]
    function(*arguments)
    for a, copy in zip(arguments, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# hessenberg


def test_hessenberg_leaves_zeros_and_the_matrix_that_led_there():
    found, call = hessenberg(A4), f"hessenberg({A4.tolist()})"
    assert_similar(A4, found.h, found.q, call)
    assert_hessenberg(found.h, f"{call}.h")


@pytest.mark.parametrize(("n", "scale"), [(1, 1.0), (2, 1.0), (3, 1.0), (9, 1e-150), (9, 1e150), (25, 1.0)])
def test_hessenberg_works_at_any_size_and_scale(n, scale):
    a, call = scale * random_matrix(n), f"hessenberg({scale:g} * a), n = {n}"
    found = hessenberg(a)
    assert_similar(a, found.h, found.q, call)
    assert_hessenberg(found.h, f"{call}, h")


SPECIAL = {
    "a triangular matrix": np.triu(A4),
    "a Hessenberg matrix": H5,
    "zeros": np.zeros((3, 3)),
    "a matrix of rank 1": np.outer([1.3, -0.4, 0.7, 2.1], [0.2, 1.4, -0.7, 1.1]),
    "an entry in the corner only": np.diag([2.1, 0.4, -1.3, 0.9]) + 1.7 * np.eye(4, k=-3),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_hessenberg_handles_special_matrices(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = hessenberg(SPECIAL[name])
    assert_similar(SPECIAL[name], found.h, found.q, f"hessenberg of {name}")
    assert_hessenberg(found.h, f"hessenberg of {name}, h")


def test_hessenberg_keeps_float32_and_leaves_its_matrix_alone():
    a = A4.astype(np.float32)
    found = hessenberg(a)
    assert_similar(a, found.h, found.q, "hessenberg in float32")
    unchanged(hessenberg, A4.copy())


# double_shift


@pytest.mark.parametrize("count", [0, 1, 9, 11, 19, 21])
def test_double_shift_is_sum_and_product_of_the_eigenvalues_of_the_last_block(count):
    # the last block is [[-0.5, 2.6], [-1.6, 3.1]]: its trace is 2.6, its determinant 2.61
    found = double_shift(H5, count)
    assert_close(found, (2.6, 2.61), f"double_shift({H5.tolist()}, {count})", "equation (3)", rtol=RTOL)


@pytest.mark.parametrize("count", [10, 20])
def test_double_shift_is_an_exceptional_one_at_every_tenth_step(count):
    # w = 1.6 + 1.3
    found = double_shift(H5, count)
    assert_close(found, (4.35, 8.41), f"double_shift({H5.tolist()}, {count})", "equation (8)", rtol=RTOL)


def test_double_shift_works_for_three_rows():
    assert_close(double_shift(H5[:3, :3], 0), (2.3, -0.87), f"double_shift({H5[:3, :3].tolist()}, 0)", "(3)", rtol=RTOL)
    assert_close(
        double_shift(H5[:3, :3], 10), (3.45, 5.29), f"double_shift({H5[:3, :3].tolist()}, 10)", "(8)", rtol=RTOL
    )


# first_column


@pytest.mark.parametrize(("n", "total", "product"), [(3, 0.85, -1.35), (5, 2.6, 2.61), (5, 0.0, 0.0)])
def test_first_column_is_that_of_the_double_steps_matrix(n, total, product):
    h = H5[:n, :n]
    found, expected = first_column(h, total, product), explicit_matrix(h, total, product)[:3, 0]
    call = f"first_column({h.tolist()}, {total}, {product}), divided by its last entry,"
    assert_close(found / found[2], expected / expected[2], call, "the first column of (2)", rtol=1e-12)


@pytest.mark.parametrize("size", [1e-3, -1e-8, 1e-16])
def test_first_column_survives_a_small_entry_beside_the_diagonal(size):
    h = H5.copy()
    h[1, 0] = size
    found, call = (
        first_column(h, 2.6, 2.61),
        f"first_column(h, 2.6, 2.61), h[1, 0] = {size:g}, divided by its last entry,",
    )
    expected = [((2.3 * (2.3 - 2.6) + 2.61) / size - 1.2) / -0.9, (2.3 + 0.6 - 2.6) / -0.9, 1.0]
    assert_close(found / found[2], expected, call, "equation (4)", rtol=1e-12)


def test_first_column_keeps_float32():
    found = first_column(H5.astype(np.float32), 2.6, 2.61)
    assert found.dtype == np.float32, f"first_column of a float32 matrix returned {found.dtype}, expected float32"
    unchanged(first_column, H5.copy(), 2.6, 2.61)


# francis_step


@pytest.mark.parametrize(("n", "total", "product"), [(3, 0.85, -1.35), (4, 1.2, 3.5), (5, 2.6, 2.61), (8, 0.9, 2.2)])
def test_francis_step_is_two_steps_at_once(n, total, product):
    h = H5[:n, :n] if n <= 5 else random_hessenberg(n)
    new, q = francis_step(h, np.eye(n), (0, n), total, product)
    call = f"francis_step(h, I, (0, {n}), {total}, {product}), h[0] = {h[0].tolist()},"
    assert_similar(h, new, q, call)
    assert_hessenberg(new, f"{call} h")
    explicit = np.linalg.qr(explicit_matrix(h, total, product))[0]
    expected = np.abs(explicit.T @ h @ explicit)
    # M has a condition number of some 100, by which its orthogonal factor may be off.
    assert_close(np.abs(new), expected, f"{call} abs(h)", "(2), with M = QR outright", rtol=1e-9, atol=1e-10)
    assert_close(np.abs(q[:, 0]), np.abs(explicit[:, 0]), f"{call} abs(q[:, 0])", "equation (4)", rtol=0, atol=1e-11)


@pytest.mark.parametrize(("n", "block"), [(7, (0, 4)), (7, (2, 6)), (7, (3, 7)), (30, (6, 25))])
def test_francis_step_on_a_block_turns_whole_rows_and_columns(n, block):
    start, stop = block
    h = random_hessenberg(n)
    for i in (start - 1, stop - 1):
        if 0 <= i < n - 1:
            h[i + 1, i] = 0
    q = np.linalg.qr(random_matrix(n))[0]
    new, turned = francis_step(h, q, block, 1.1, 2.3)
    call = f"francis_step(h, q, {block}, 1.1, 2.3), n = {n},"
    assert_similar(q @ h @ q.T, new, turned, call)
    assert_hessenberg(new, f"{call} h")
    rest = [slice(0, start), slice(stop, n)]
    for part in rest:
        assert_close(new[part, part], h[part, part], f"{call} h in rows and columns {part}", "another block", rtol=0)
    inside = francis_step(h[start:stop, start:stop], np.eye(stop - start), (0, stop - start), 1.1, 2.3)[0]
    found = np.abs(new[start:stop, start:stop])
    assert_close(found, np.abs(inside), f"{call} abs(h) in the block", "a step on the block alone", rtol=0, atol=1e-10)
    if stop < n:
        assert new[stop, stop - 1] == 0, (
            f"{call} h has {new[stop, stop - 1]} below the block, expected the zero that was there"
        )
    if start > 0:
        assert new[start, start - 1] == 0, f"{call} h has {new[start, start - 1]} before the block, expected 0"


def test_francis_step_with_a_pair_of_eigenvalues_as_shifts_finds_them_at_once():
    pair = next(x for x in np.linalg.eigvals(H5) if x.imag > 0)
    total, product = 2 * pair.real, abs(pair) ** 2
    new, _ = francis_step(H5, np.eye(5), (0, 5), total, product)
    call = f"francis_step(h, I, (0, 5), {total:.4f}, {product:.4f}), its shifts being eigenvalues,"
    assert abs(new[3, 2]) < 1e-10, f"{call} left {new[3, 2]:.3g} before the last two rows; (2) is singular, so it is 0"
    found = (np.trace(new[3:, 3:]), np.linalg.det(new[3:, 3:]))
    assert_close(found, (total, product), f"{call} trace and determinant of the last block", "the shifts", rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-70, 1e70])
def test_francis_step_works_at_any_scale(scale):
    new, q = francis_step(scale * H5, np.eye(5), (0, 5), scale * 2.6, scale * scale * 2.61)
    assert_similar(scale * H5, new, q, f"francis_step({scale:g} * h, ...)")
    expected = np.abs(francis_step(H5, np.eye(5), (0, 5), 2.6, 2.61)[0])
    assert_close(np.abs(new) / scale, expected, f"abs(h) of francis_step({scale:g} * h, ...)", "that of h", atol=1e-12)


def test_francis_step_keeps_float32_and_leaves_its_arguments_alone():
    new, q = francis_step(H5.astype(np.float32), np.eye(5, dtype=np.float32), (0, 5), 2.6, 2.61)
    assert_similar(H5.astype(np.float32), new, q, "francis_step in float32")
    unchanged(francis_step, H5.copy(), np.eye(5), (0, 5), 2.6, 2.61)


# deflate


def beside(entries, diagonal, corner=0.0):
    """A Hessenberg matrix with these entries beside the diagonal and on it, and one more in the corner."""
    h = np.diag(np.array(diagonal, dtype=float)) + np.diag(entries, -1)
    h[0, -1] = corner
    return h


def test_deflate_compares_with_both_neighbours_on_the_diagonal():
    diagonal, entries = [3.0, -5.0, 0.25, 0.0, -7.0], np.array([8.5, 5.0, -0.2, 6.5]) * EPS
    # the sums of neighbours are 8, 5.25, 0.25 and 7
    found = np.diagonal(deflate(beside(entries, diagonal, 4.2)), -1) / EPS
    call = f"deflate of [8.5, 5, -0.2, 6.5] * eps beside {diagonal}, divided by eps,"
    assert_close(found, [8.5, 0.0, 0.0, 0.0], call, "equation (6)")
    entries = np.array([7.5, 5.5, -0.3, -7.5]) * EPS
    found = np.diagonal(deflate(beside(entries, diagonal, 4.2)), -1) / EPS
    call = f"deflate of [7.5, 5.5, -0.3, -7.5] * eps beside {diagonal}, divided by eps,"
    assert_close(found, [0.0, 5.5, -0.3, -7.5], call, "equation (6)")


def test_deflate_leaves_all_other_entries_as_they_are():
    h = H5.copy()
    h[2, 1] = 1e-16
    expected = h.copy()
    expected[2, 1] = 0
    assert_close(deflate(h), expected, f"deflate({h.tolist()})", "equation (6)", rtol=0)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_deflate_between_zeros_compares_with_the_largest_entry(scale):
    entries = np.array([4.0, -6.0, 6.2, -1e10]) * EPS**2 * scale
    found = np.diagonal(deflate(beside(entries, np.zeros(5), -6.1 * scale)), -1) / EPS**2 / scale
    call = (
        f"deflate of [4, -6, 6.2, -1e10] * eps^2 beside zeros, largest entry 6.1, all times {scale:g}, divided by both,"
    )
    assert_close(found, [0.0, 0.0, 6.2, -1e10], call, "equation (6)", rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_deflate_compares_with_the_next_entries_beside_the_diagonal_too(scale):
    entries = np.array([0.8, 2.0 * EPS, 1.3, 1.4 * EPS, 0.0, 0.9, 1.1 * EPS]) * scale
    found = np.diagonal(deflate(beside(entries, np.zeros(8))), -1) / scale
    call = f"deflate of [0.8, 2 * eps, 1.3, 1.4 * eps, 0, 0.9, 1.1 * eps] beside zeros, times {scale:g}, divided by it,"
    assert_close(found, [0.8, 0.0, 1.3, 1.4 * EPS, 0.0, 0.9, 1.1 * EPS], call, "equation (6)", rtol=1e-12)


def test_deflate_does_so_on_the_very_boundary():
    h = beside([8.0 * EPS * (1 + EPS), 0.0], [3.0, -5.0, 0.25], 8.0)
    assert deflate(h)[1, 0] == 0, (
        "deflate keeps an entry that is exactly eps times 8 plus eps^2 times 8; (6) says at most"
    )


def test_deflate_goes_by_the_precision_of_its_matrix_and_leaves_it_alone():
    h = beside([3e-7, 4e-7], [1.3, 2.1, 0.4]).astype(np.float32)
    found = deflate(h)
    assert found.dtype == np.float32, f"deflate of a float32 matrix returned {found.dtype}, expected float32"
    # eps of float32 is 1.19e-7, and the sums of neighbours are 3.4 and 2.5
    call = "deflate of [3e-7, 4e-7] beside [1.3, 2.1, 0.4] in float32"
    assert_close(np.diagonal(found, -1), [0.0, np.float32(4e-7)], call, "equation (6)")
    unchanged(deflate, beside([1e-17, 1.0], [1.3, 2.1, 0.4]))


def test_deflate_of_a_single_row_has_nothing_to_do():
    assert_close(deflate(np.array([[2.7]])), [[2.7]], "deflate([[2.7]])", "its docstring")


# real_schur


def cyclic(n):
    """The permutation that moves all axes by one; its eigenvalues are the roots of 1."""
    return np.eye(n)[np.r_[n - 1, : n - 1]]


def frank(n):
    """Frank's matrix: small eigenvalues that are ill-conditioned."""
    i, j = np.indices((n, n))
    return np.where(j >= i - 1, n - np.maximum(i, j), 0).astype(float)


def grcar(n):
    """Grcar's matrix: all eigenvalues are sensitive."""
    return sum(np.eye(n, k=k) for k in range(4)) - np.eye(n, k=-1)


def companion(roots):
    """The matrix whose characteristic polynomial has these roots."""
    a = np.eye(len(roots), k=-1)
    a[0] = -np.poly(roots).real[1:]
    return a


SKEW = random_matrix(7) - random_matrix(7).T
ORTHOGONAL = np.linalg.qr(random_matrix(12))[0]
ROOTS = np.array([-2.5, 0.4, 1.1 + 0.8j, 1.1 - 0.8j, -0.6 + 2.1j, -0.6 - 2.1j, 3.2])
ROWS = np.add.outer(np.arange(7), np.arange(7))

HARD = {
    "the cyclic permutation of 4 axes": cyclic(4),
    "the cyclic permutation of 9 axes": cyclic(9),
    "its transpose": cyclic(9).T,
    "an orthogonal matrix": ORTHOGONAL,
    "a skew-symmetric matrix": SKEW,
    "a skew-symmetric matrix of even size": SKEW[:6, :6],
    "a symmetric matrix": random_matrix(7) + random_matrix(7).T,
    "a companion matrix": companion(ROOTS),
    "a Jordan block": 1.3 * np.eye(7) + np.eye(7, k=1),
    "a transposed Jordan block": 1.3 * np.eye(7) + np.eye(7, k=-1),
    "a nilpotent matrix": np.eye(8, k=-1),
    "Frank's matrix": frank(10),
    "Grcar's matrix": grcar(16),
    "a double complex pair, defective": np.kron([[1.0, 1.0], [0.0, 1.0]], [[1.2, 2.1], [-2.1, 1.2]]),
    "many equal complex pairs": np.kron(np.eye(4), [[1.2, 2.1], [-2.1, 1.2]]),
    "a matrix of rank 2": random_matrix(8)[:, :2] @ random_matrix(8, seed=3)[:2],
    "ones": np.ones((6, 6)),
    "a graded matrix, large entries first": random_matrix(7) * 10.0**-ROWS,
    "a graded matrix, large entries last": random_matrix(7) * 10.0**ROWS,
    "a matrix graded by 150 decades": random_matrix(7) * 10.0 ** (-12.0 * ROWS),
    "a triangular matrix": np.triu(random_matrix(5)),
    "a lower triangular matrix": np.tril(random_matrix(5)),
    "a single number": np.array([[-3.7]]),
    "two rows": np.array([[1.3, 2.2], [-0.7, 0.4]]),
    "zeros": np.zeros((4, 4)),
}


@pytest.mark.parametrize(
    ("n", "scale"), [*((n, 1.0) for n in (1, 2, 3, 4, 7, 20)), *((8, 10.0**e) for e in (-300, -150, 150, 300))]
)
def test_real_schur_is_exact_up_to_rounding(n, scale):
    a = scale * random_matrix(n)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = real_schur(a)
    assert_schur(a, found, f"real_schur(a), n = {n}, entries near {scale:g}")


@pytest.mark.parametrize("name", HARD)
def test_real_schur_is_exact_up_to_rounding_for_hard_matrices(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = real_schur(HARD[name])
    assert_schur(HARD[name], found, f"real_schur of {name}")


@pytest.mark.parametrize("name", ["a triangular matrix", "a single number", "two rows", "zeros"])
def test_real_schur_makes_no_step_where_there_is_nothing_to_do(name):
    steps = real_schur(HARD[name], max_steps=0).steps
    assert_close(steps, 0, f"real_schur of {name}, max_steps=0, its steps", "its docstring")


def test_real_schur_makes_no_step_where_all_is_negligible_from_the_start():
    a = np.triu(np.arange(1.0, 26.0).reshape(5, 5)) + 1e-25 * np.eye(5, k=-1)
    found = real_schur(a)
    call = "real_schur of a triangular matrix plus 1e-25 beside its diagonal"
    assert found.steps == 0, f"{call} made {found.steps} steps, expected 0: by (6) it is triangular"
    assert_schur(a, found, call)


def test_real_schur_scales_by_the_largest_absolute_value():
    a = -np.abs(np.random.default_rng(3).normal(size=(4, 4))) * 1e200
    a[2, 1] = 1e-200
    assert_schur(a, real_schur(a), "real_schur of a matrix from -1e200 to 1e-200")


def test_real_schur_needs_a_few_steps_for_each_eigenvalue():
    steps = real_schur(random_matrix(15)).steps
    assert 12 <= steps <= 50, f"real_schur(a), n = 15, took {steps} double steps; about 30 are usual"


def test_real_schur_needs_the_exceptional_shift_for_a_permutation():
    steps = real_schur(cyclic(4)).steps
    assert steps > 10, f"real_schur of the permutation of 4 axes took {steps} steps; before the 11th nothing can happen"
    with pytest.raises(np.linalg.LinAlgError):
        real_schur(cyclic(4), max_steps=10)


def test_real_schur_counts_steps_for_each_block_anew():
    # 4 axes need some 18 steps, so that three such blocks need 54 in all, but not more than 20 for the end of any block.
    a = np.kron(np.eye(3), cyclic(4))
    found = real_schur(a, max_steps=20)
    assert_schur(a, found, "real_schur of three cyclic permutations of 4 axes, max_steps=20")
    assert found.steps > 33, (
        f"real_schur of three permutations made {found.steps} steps in all; each alone needs over 11"
    )


def test_real_schur_raises_where_the_steps_do_not_suffice():
    a = A4[:3, :3]  # three rows are one block until it is done
    needed = real_schur(a).steps
    exact = real_schur(a, max_steps=needed).steps
    assert_close(exact, needed, f"real_schur(a, max_steps={needed}).steps", "what it needs")
    try:
        outcome = real_schur(a, max_steps=needed - 1).steps
    except np.linalg.LinAlgError:
        outcome = "LinAlgError"
    call = f"real_schur(a, max_steps={needed - 1}) of three rows that need {needed}, its steps,"
    assert_close(outcome, "LinAlgError", call, "its docstring: an error")


def test_real_schur_keeps_float32_and_leaves_its_matrix_alone():
    for scale in (1e-30, 1.0, 1e30):
        a = (scale * random_matrix(7)).astype(np.float32)
        assert_schur(a, real_schur(a), f"real_schur in float32, entries near {scale:g}")
    unchanged(real_schur, A4.copy())
    unchanged(real_schur, A4 / np.abs(A4).max())


# block_eigenvalues


def ordered(pair):
    return np.array(sorted(pair, key=lambda x: (x.real, x.imag)))


@pytest.mark.parametrize(
    ("block", "pair"),
    [
        # delta = 1.6 and b c = 1.44 or 1.6^2 - 1.44..., so that the root is 2 or 1.2
        ((5.9, 0.9, 1.6, 2.7), (2.3, 6.3)),
        ((2.7, 0.9, 1.6, 5.9), (2.3, 6.3)),
        ((5.9, -0.8, 1.4, 2.7), (3.1, 5.5)),
        ((-5.9, 0.8, -1.4, -2.7), (-5.5, -3.1)),
        ((5.9, 4.1, -1.6, 2.7), (4.3 - 2j, 4.3 + 2j)),
        ((2.7, -1.6, 4.1, 5.9), (4.3 - 2j, 4.3 + 2j)),
        ((2.7, 3.2, -0.45, 2.7), (2.7 - 1.2j, 2.7 + 1.2j)),
        ((2.7, 3.2, 0.45, 2.7), (1.5, 3.9)),
    ],
)
def test_block_eigenvalues_are_those_found_by_hand(block, pair):
    call = f"block_eigenvalues{block}, sorted,"
    assert_close(ordered(block_eigenvalues(*block)), np.array(pair, complex), call, "equation (9)", rtol=RTOL)


@pytest.mark.parametrize(("b", "c"), [(1e-6, 1e-5), (-1e-9, 1.3e-9), (1e-160, 1e-170), (3.1e150, -1e-200)])
@pytest.mark.parametrize("a", [2.5, -2.5])
def test_block_eigenvalues_keep_the_digits_of_the_small_one(a, b, c):
    # With d = 0 the product of both is -b c, and their sum a: the small one is -b c / a (1 - b c / a^2 + ...).
    found = min(block_eigenvalues(a, b, c, 0.0), key=abs).real
    expected = -(b / a) * c * (1 - b / a * c / a)
    assert_close(
        found, expected, f"the smaller of block_eigenvalues({a}, {b:g}, {c:g}, 0.0)", "equation (10)", rtol=RTOL
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_block_eigenvalues_work_at_any_scale(scale):
    for block, pair in (((5.9, 0.9, 1.6, 2.7), (2.3, 6.3)), ((5.9, 4.1, -1.6, 2.7), (4.3 - 2j, 4.3 + 2j))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = ordered(block_eigenvalues(*(np.float64(scale * x) for x in block))) / scale
        call = f"block_eigenvalues of {block}, all times {scale:g}, sorted and divided by it,"
        assert_close(found, np.array(pair, complex), call, "equation (9)", rtol=RTOL)


def test_block_eigenvalues_of_triangles_are_the_diagonal():
    for block in ((2.6, 0.0, 0.0, -1.3), (2.6, 4.7, 0.0, -1.3), (2.6, 0.0, 4.7, -1.3), (2.6, 1e250, 0.0, -1.3)):
        call = f"block_eigenvalues{block}, sorted,"
        assert_close(ordered(block_eigenvalues(*block)), [-1.3 + 0j, 2.6 + 0j], call, "the diagonal", rtol=RTOL)
    for block in ((2.6, 4.7, 0.0, 2.6), (0.0, 3.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)):
        call = f"block_eigenvalues{block}"
        assert_close(block_eigenvalues(*block), [block[0] + 0j] * 2, call, "twice the diagonal entry", rtol=RTOL)


def test_block_eigenvalues_of_random_blocks_have_the_right_sum_and_product():
    for a, b, c, d in np.random.default_rng(6).normal(0.2, 2, (60, 4)).tolist():
        x, y = block_eigenvalues(a, b, c, d)
        call = f"block_eigenvalues({a:.4f}, {b:.4f}, {c:.4f}, {d:.4f}) = {x:.6f} and {y:.6f}"
        exact = (x.imag == y.imag == 0) or x == y.conjugate()
        assert exact, f"{call}; expected two real numbers, or two that are conjugate to the last bit"
        size = max(abs(v) for v in (a, b, c, d))
        assert abs(x + y - (a + d)) <= 1e-14 * size, f"{call}: their sum should be {a + d:.6f}"
        assert abs(x * y - (a * d - b * c)) <= 1e-13 * size**2, f"{call}: their product should be {a * d - b * c:.6f}"


# eigenvalues


def test_eigenvalues_of_a_known_polynomial_are_its_roots():
    # The roots' condition numbers are below 100 here.
    found = eigenvalues(companion(ROOTS)).values
    expected = ROOTS[np.lexsort((ROOTS.imag, ROOTS.real))]
    call = f"eigenvalues of the companion matrix of the roots {expected.round(2).tolist()}"
    assert_close(found, expected, call, "the roots, sorted by real and then imaginary part", rtol=1e-11)


@pytest.mark.parametrize(
    "name", ["the cyclic permutation of 9 axes", "an orthogonal matrix", "a skew-symmetric matrix"]
)
def test_eigenvalues_of_normal_matrices_are_right_up_to_rounding(name):
    a = HARD[name]
    found = eigenvalues(a).values
    size = float(np.abs(a).max())
    worst = distance(found, np.linalg.eigvals(a)) / size
    allowed = 50 * len(a) * EPS
    assert worst <= allowed, f"eigenvalues of {name} are {worst:.3g} from NumPy's; rounding may be {allowed:.2g}"


@pytest.mark.parametrize(("n", "scale"), [(1, 1.0), (2, 1.0), (5, 1.0), (12, 1.0), (6, 1e-150), (6, 1e150)])
def test_eigenvalues_of_random_matrices_agree_with_numpys(n, scale):
    a = random_matrix(n, seed=5)
    found = eigenvalues(scale * a)
    call = f"eigenvalues({scale:g} * a), n = {n}"
    assert found.values.shape == (n,), f"{call}: {found.values.shape} values, expected {n}"
    # The condition numbers of these eigenvalues are below 10, and rounding is within 50 n eps of the largest entry.
    worst = distance(found.values / scale, np.linalg.eigvals(a))
    assert worst <= 1e-11, f"{call}, divided by {scale:g}, differ from NumPy's by {worst:.3g}"
    assert found.steps == real_schur(scale * a).steps, (
        f"{call}: {found.steps} steps, but real_schur made another number"
    )


def test_eigenvalues_are_sorted_and_pairs_are_conjugate_to_the_last_bit():
    values = eigenvalues(random_matrix(14, seed=7)).values
    key = list(zip(values.real.tolist(), values.imag.tolist()))
    assert key == sorted(key), f"eigenvalues(a) are not sorted by real and then by imaginary part: {values}"
    assert (values.imag != 0).any(), f"eigenvalues(a) found no complex pair: {values}"
    conjugate = sorted(zip(values.real.tolist(), (-values.imag).tolist()))
    assert key == conjugate, f"eigenvalues(a): complex ones should come in pairs, conjugate to the last bit: {values}"


def test_eigenvalues_of_a_defective_matrix_are_as_near_as_they_can_be():
    # A Jordan block of n rows, changed by 10 n eps: eigenvalues move by the n-th root of that.
    n = 6
    q = np.linalg.qr(random_matrix(n))[0]
    values = eigenvalues(q @ (1.3 * np.eye(n) + np.eye(n, k=1)) @ q.T).values
    far, allowed = np.abs(values - 1.3).max(), (50 * n * EPS) ** (1 / n)
    assert far <= allowed, (
        f"eigenvalues of a turned Jordan block of {n} rows are {far:.3g} off; (11) allows {allowed:.3g}"
    )
    assert abs(values.mean() - 1.3) <= 1e-13, f"their mean is {values.mean()}; it is 1.3 up to rounding"


def test_eigenvalues_in_float32_are_complex64():
    a = random_matrix(6, seed=5).astype(np.float32)
    values = eigenvalues(a).values
    assert values.dtype == np.complex64, f"eigenvalues of a float32 matrix are {values.dtype}, expected complex64"
    worst = distance(values, np.linalg.eigvals(a.astype(float)))
    assert worst <= 1e-3, f"eigenvalues in float32 differ from NumPy's by {worst:.3g}"
    assert eigenvalues(np.array([[2, 1], [1, 2]])).values.dtype == np.complex128, "whole numbers should give complex128"


def test_eigenvalues_of_zeros_and_of_triangles_are_the_diagonal():
    found = eigenvalues(np.zeros((3, 3))).values
    assert_close(found, np.zeros(3, complex), "eigenvalues(zeros)", "zeros")
    a = np.triu(random_matrix(5))
    expected = np.sort(np.diagonal(a)).astype(complex)
    assert_close(eigenvalues(a).values, expected, f"eigenvalues({a.round(3).tolist()})", "the diagonal", rtol=1e-14)


def test_eigenvalues_passes_the_limit_on_and_leaves_its_matrix_alone():
    with pytest.raises(np.linalg.LinAlgError):
        eigenvalues(cyclic(5), max_steps=5)
    unchanged(eigenvalues, A4.copy())


# What is given: the checks of the arguments


NOT_SQUARE = [np.ones((2, 3)), np.ones(2), np.zeros((0, 0)), np.array([[np.inf]]), [["a"]]]


@pytest.mark.given
@pytest.mark.parametrize("a", NOT_SQUARE)
def test_hessenberg_real_schur_and_eigenvalues_refuse_what_is_no_square_matrix(a):
    for call in (hessenberg, real_schur, eigenvalues):
        with pytest.raises(ValueError, match="a must"):
            call(a)


@pytest.mark.given
@pytest.mark.parametrize("h", [*NOT_SQUARE, np.ones((3, 3))])
def test_double_shift_first_column_francis_step_and_deflate_refuse_what_is_no_hessenberg_matrix(h):
    for call in (
        deflate,
        lambda h: double_shift(h, 0),
        lambda h: first_column(h, 1.0, 1.0),
        lambda h: francis_step(h, np.eye(3), (0, 3), 1.0, 1.0),
    ):
        with pytest.raises(ValueError, match="h must"):
            call(h)


@pytest.mark.given
def test_double_shift_and_first_column_refuse_fewer_than_three_rows():
    for call in (lambda h: double_shift(h, 0), lambda h: first_column(h, 1.0, 1.0)):
        with pytest.raises(ValueError, match="h must"):
            call(np.eye(2))


@pytest.mark.given
def test_francis_step_refuses_what_does_not_fit():
    for q in (np.eye(4), np.ones((5, 3)), np.full((5, 5), np.nan)):
        with pytest.raises(ValueError, match="q must"):
            francis_step(H5, q, (0, 5), 1.0, 1.0)
    for block in ((0, 2), (3, 5), (-1, 3), (2, 6)):
        with pytest.raises(ValueError, match="block must"):
            francis_step(H5, np.eye(5), block, 1.0, 1.0)


@pytest.mark.given
@pytest.mark.parametrize("place", range(4))
def test_block_eigenvalues_refuse_what_is_not_finite(place):
    for bad in (np.nan, np.inf):
        numbers = [1.0, 2.0, 3.0, 4.0]
        numbers[place] = bad
        with pytest.raises(ValueError, match="a, b, c and d must"):
            block_eigenvalues(*numbers)


@pytest.mark.given
def test_real_schur_and_eigenvalues_refuse_a_negative_number_of_steps():
    for call in (real_schur, eigenvalues):
        with pytest.raises(ValueError, match="max_steps must"):
            call(A4, max_steps=-1)
