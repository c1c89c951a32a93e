"""Shared tests of linalg/qr_algorithm/symmetric: run on the reference, and on the learner's file.

Nothing here is random but seeded data. A computed decomposition is exact for a matrix that differs from the given one
by a few n eps times its norm, equation (11): in practice by up to 2 n eps times the largest entry, and the tests allow
50. Cases by hand have few operations, and 1e-13 is hundreds of roundings. Signs that the note leaves open, of the
entries beside the diagonal and of rotations, are free.
"""

import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, wilkinson_eigenvalues
from mlpath.linalg.qr_algorithm.symmetric import (
    active_block,
    deflate,
    qr_step,
    reflect_both_sides,
    rotate_columns,
    symmetric_eigen,
    tridiagonalize,
    wilkinson_shift,
)
from mlpath.testing import assert_close

RTOL = 1e-13
EPS = np.finfo(float).eps
TINY = np.finfo(float).tiny

A4 = np.array([[2.5, -0.7, 1.3, 0.6], [-0.7, 0.9, -2.1, 1.7], [1.3, -2.1, -1.6, 0.4], [0.6, 1.7, 0.4, 3.2]])
D5, E5 = np.array([2.3, -1.1, 0.7, 3.6, 1.9]), np.array([0.8, -1.4, 0.35, 1.2])


def random_symmetric(n, seed=1):
    """Entries of both signs around a mean that is not zero."""
    a = np.random.default_rng(seed).normal(0.3, 2, (n, n))
    return (a + a.T) / 2


def with_eigenvalues(values, seed=2):
    """A full matrix with these eigenvalues, up to rounding."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))[0]
    a = q * values @ q.T
    return (a + a.T) / 2


def tridiagonal(d, e):
    return np.diag(d) + np.diag(e, 1) + np.diag(e, -1)


def product(c, s):
    """All rotations of a step as one matrix: G_{n-2} ... G_1 G_0."""
    g = np.eye(len(c) + 1)
    for k in range(len(c)):
        g[[k, k + 1]] = np.array([[c[k], s[k]], [-s[k], c[k]]]) @ g[[k, k + 1]]
    return g


def explicit_step(d, e, shift):
    """Equation (3) as it stands."""
    eye = np.eye(len(d))
    q, r = np.linalg.qr(tridiagonal(d, e) - shift * eye)
    return r @ q + shift * eye


def assert_tridiagonalizes(a, found, call):
    """Fail unless A = Q T Q' and Q'Q = I up to rounding, relative to the largest entry of A."""
    n, eps = len(a), np.finfo(a.dtype).eps
    for name, part, shape in (("d", found.d, (n,)), ("e", found.e, (n - 1,)), ("q", found.q, (n, n))):
        assert part.dtype == a.dtype, f"{call}.{name} is {part.dtype}, expected {a.dtype}"
        assert part.shape == shape, f"{call}.{name} has the shape {part.shape}, expected {shape}"
    size = float(np.abs(a).max()) or 1.0
    q, t = found.q.astype(float), tridiagonal(found.d.astype(float) / size, found.e.astype(float) / size)
    assert_close(q @ t @ q.T, a.astype(float) / size, f"q @ t @ q.T of {call}", "(1): a", rtol=0, atol=50 * n * eps)
    assert_close(q.T @ q, np.eye(n), f"q.T @ q of {call}", "orthogonality", rtol=0, atol=50 * n * eps)


def assert_decomposes(a, found, call):
    """Fail unless A V = V L, V'V = I, and the values ascend; all up to rounding, relative to the largest entry of A."""
    n, eps = len(a), np.finfo(a.dtype).eps
    assert found.values.dtype == a.dtype, f"{call}.values are {found.values.dtype}, expected {a.dtype}"
    assert found.vectors.dtype == a.dtype, f"{call}.vectors are {found.vectors.dtype}, expected {a.dtype}"
    assert found.values.shape == (n,), f"{call}.values have the shape {found.values.shape}, expected {(n,)}"
    assert found.vectors.shape == (n, n), f"{call}.vectors have the shape {found.vectors.shape}, expected {(n, n)}"
    size = float(np.abs(a).max()) or 1.0
    values, vectors, a = found.values.astype(float) / size, found.vectors.astype(float), a.astype(float) / size
    assert (np.diff(values) >= 0).all(), f"{call}.values do not ascend: {found.values}"
    expected = np.linalg.eigvalsh(a)
    assert_close(values, expected, f"{call}.values, divided by the largest entry,", "NumPy", rtol=0, atol=50 * n * eps)
    gap = np.abs(vectors.T @ vectors - np.eye(n)).max()
    assert gap <= 50 * n * eps, f"{call}.vectors are not orthonormal: V'V differs from I by {gap:.3g}"
    error = np.abs(a @ vectors - vectors * values).max()
    assert error <= 50 * n * eps, (
        f"{call}: A V and V L differ by {error:.3g} of the largest entry; by (11) rounding may be {50 * n * eps:.2g}"
    )


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    before = [np.copy(a) for a in arguments]
    function(*arguments)
    for a, copy in zip(arguments, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# reflect_both_sides


def test_reflect_both_sides_multiplies_by_the_mirror_from_left_and_right():
    v, a = np.array([1.3, -0.4, 0.7]), A4[:3, :3]
    beta = 2 / (v @ v)
    h = np.eye(3) - beta * np.outer(v, v)
    call = f"reflect_both_sides({v}, {beta:.4f}, {a.tolist()})"
    assert_close(reflect_both_sides(v, beta, a), h @ a @ h, call, "equation (2)", rtol=RTOL, atol=1e-14)


def test_reflect_both_sides_without_a_mirror_does_nothing():
    call = "reflect_both_sides([1.3, -0.4, 0.7, 2.2], 0, a)"
    assert_close(reflect_both_sides(np.array([1.3, -0.4, 0.7, 2.2]), 0.0, A4), A4, call, "its docstring: no reflection")


@pytest.mark.parametrize(("n", "scale"), [(1, 1.0), (2, 1.0), (25, 1.0), (6, 1e-300), (6, 1e300)])
def test_reflect_both_sides_of_random_matrices_is_right_at_any_scale(n, scale):
    a, v = random_symmetric(n), np.random.default_rng(3).normal(0.2, 1, n)
    beta = 2 / (v @ v)
    h = np.eye(n) - beta * np.outer(v, v)
    found = reflect_both_sides(v, beta, scale * a) / scale
    call = f"reflect_both_sides(v, beta, {scale:g} * a), n = {n}, divided by {scale:g},"
    assert_close(found, h @ a @ h, call, "equation (2)", rtol=0, atol=1e-12)


def test_reflect_both_sides_keeps_float32_and_leaves_its_arguments_alone():
    v, a = np.array([1.3, -0.4, 0.7, 0.1], dtype=np.float32), A4.astype(np.float32)
    found = reflect_both_sides(v, float(2 / (v @ v)), a)
    assert found.dtype == np.float32, f"reflect_both_sides of float32 arrays returned {found.dtype}, expected float32"
    unchanged(reflect_both_sides, v, 0.8, a)


# tridiagonalize


def test_tridiagonalize_leaves_two_diagonals_and_the_matrix_that_led_there():
    assert_tridiagonalizes(A4, tridiagonalize(A4), f"tridiagonalize({A4.tolist()})")


def test_tridiagonalize_keeps_the_trace_and_the_sum_of_squares():
    found = tridiagonalize(A4)
    call = f"tridiagonalize({A4.tolist()})"
    assert_close(found.d.sum(), 5.0, f"the sum of d of {call}", "the trace of a", rtol=RTOL)
    squares = (found.d**2).sum() + 2 * (found.e**2).sum()
    assert_close(squares, (A4**2).sum(), f"d'd + 2 e'e of {call}", "the sum of squares of a", rtol=RTOL)


@pytest.mark.parametrize(("n", "scale"), [(1, 1.0), (2, 1.0), (3, 1.0), (12, 1e-150), (12, 1e150), (25, 1.0)])
def test_tridiagonalize_works_at_any_size_and_scale(n, scale):
    a = scale * random_symmetric(n)
    assert_tridiagonalizes(a, tridiagonalize(a), f"tridiagonalize({scale:g} * a), n = {n}")


SPECIAL = {
    "a diagonal matrix": np.diag([3.5, 1.0, -2.25, 0.0]),
    "a tridiagonal matrix": tridiagonal(D5, E5),
    "zeros": np.zeros((3, 3)),
    "a matrix of rank 1": np.outer([1.3, -0.4, 0.7, 2.1], [1.3, -0.4, 0.7, 2.1]),
    "entries in two corners only": np.diag([2.1, 0.4, -1.3, 0.9]) + 1.7 * np.eye(4)[::-1] * [1, 0, 0, 1],
    "a graded matrix, large entries last": random_symmetric(7) * 100.0 ** np.add.outer(np.arange(7), np.arange(7)),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_tridiagonalize_handles_special_matrices(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tridiagonalize(SPECIAL[name])
    assert_tridiagonalizes(SPECIAL[name], found, f"tridiagonalize of {name}")


def test_tridiagonalize_keeps_float32_and_leaves_its_matrix_alone():
    assert_tridiagonalizes(A4.astype(np.float32), tridiagonalize(A4.astype(np.float32)), "tridiagonalize in float32")
    unchanged(tridiagonalize, A4.copy())


# wilkinson_shift


# delta is 1.6 or -1.6 and the root 2, so that the eigenvalues are 0.4 and 3.6 away from c, on different sides.
@pytest.mark.parametrize(
    ("a", "b", "c", "mu"),
    [
        (5.9, 1.2, 2.7, 2.3),
        (-0.5, 1.2, 2.7, 3.1),
        (5.9, -1.2, 2.7, 2.3),
        (-0.5, -1.2, 2.7, 3.1),
        (0.4, 1.2, -2.8, -3.2),
    ],
)
def test_wilkinson_shift_is_the_eigenvalue_nearest_to_the_last_entry(a, b, c, mu):
    assert_close(wilkinson_shift(a, b, c), mu, f"wilkinson_shift({a}, {b}, {c})", "equation (5)", rtol=RTOL)


@pytest.mark.parametrize("b", [1e-5, -1e-9, 1e-12, 1e-100, 1e-150])
@pytest.mark.parametrize("a", [2.5, -2.5])
def test_wilkinson_shift_keeps_all_digits_of_a_small_distance(a, b):
    # With c = 0 the shift is its distance from c: -b^2 / a (1 - b^2 / a^2 + ...), and the rest is below 1e-20.
    expected = -(b / a) * b * (1 - (b / a) ** 2)
    assert_close(wilkinson_shift(a, b, 0.0), expected, f"wilkinson_shift({a}, {b:g}, 0.0)", "equation (5)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_wilkinson_shift_works_at_any_scale(scale):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = wilkinson_shift(np.float64(5.9 * scale), np.float64(1.2 * scale), np.float64(2.7 * scale)) / scale
    call = f"wilkinson_shift of 5.9, 1.2 and 2.7, all times {scale:g}, divided by it,"
    assert_close(found, 2.3, call, "equation (5)", rtol=RTOL)


def test_wilkinson_shift_works_where_b_is_far_larger_or_smaller_than_the_rest():
    assert_close(wilkinson_shift(1e200, 3.7, 0.0), -13.69e-200, "wilkinson_shift(1e200, 3.7, 0.0)", "(5)", rtol=RTOL)
    assert_close(wilkinson_shift(2.9, 1e-250, 1.3), 1.3, "wilkinson_shift(2.9, 1e-250, 1.3)", "(5)", rtol=RTOL)
    assert_close(wilkinson_shift(2.9, 1e200, 1.3), -1e200, "wilkinson_shift(2.9, 1e200, 1.3)", "(5)", rtol=RTOL)


@pytest.mark.parametrize(("b", "c"), [(1.7, 2.4), (-1.7, -2.4), (3.1e-20, 0.0), (3.1e-170, 0.0), (3.1e170, 0.0)])
def test_wilkinson_shift_of_equal_diagonal_entries_is_either_eigenvalue(b, c):
    found = abs(wilkinson_shift(c, b, c) - c)
    assert_close(found, abs(b), f"the distance of wilkinson_shift({c}, {b}, {c}) from {c}", "(5), delta = 0", rtol=RTOL)


@pytest.mark.parametrize("a", [4.1, 2.6, -1.3])
def test_wilkinson_shift_of_a_diagonal_block_is_its_last_entry(a):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = wilkinson_shift(np.float64(a), np.float64(0.0), np.float64(2.6))
    assert_close(found, 2.6, f"wilkinson_shift({a}, 0.0, 2.6)", "its docstring")


# qr_step


def test_qr_step_of_two_rows_is_that_of_equation_3():
    d, e, c, s = qr_step(np.array([2.3, -1.1]), np.array([0.8]), 0.45)
    expected = explicit_step([2.3, -1.1], [0.8], 0.45)
    call = "qr_step([2.3, -1.1], [0.8], 0.45)"
    assert_close(d, np.diagonal(expected), f"{call}, the diagonal", "equation (3)", rtol=1e-12)
    assert_close(np.abs(e), np.abs(expected[[1], [0]]), f"{call}, abs(e)", "equation (3)", rtol=1e-12)
    first = np.array([1.85, 0.8]) / np.hypot(1.85, 0.8)
    assert_close(np.abs([c[0], s[0]]), first, f"{call}, abs of c and s", "equation (6)", rtol=RTOL)
    assert c[0] * s[0] > 0, f"{call}: c = {c[0]:.4f} and s = {s[0]:.4f}; by (6) both have the same sign here"


@pytest.mark.parametrize("n", [3, 5])
def test_qr_step_is_that_of_equation_3(n):
    d, e, shift = D5[:n], E5[: n - 1], 1.45
    expected, (d1, e1, c, s) = explicit_step(d, e, shift), qr_step(d, e, shift)
    call = f"qr_step({d}, {e}, {shift})"
    assert_close(d1, np.diagonal(expected), f"{call}, the diagonal", "equation (3)", rtol=1e-12)
    assert_close(np.abs(e1), np.abs(np.diagonal(expected, 1)), f"{call}, abs(e)", "equation (3)", rtol=1e-12)
    g = product(c, s)
    assert_close(
        g @ tridiagonal(d, e) @ g.T,
        tridiagonal(d1, e1),
        f"{call}: G T G' of its rotations",
        "the new T, by (7)",
        atol=1e-13,
    )


@pytest.mark.parametrize(("n", "scale"), [(2, 1.0), (4, 1.0), (6, 1e-150), (6, 1e150), (40, 1.0)])
def test_qr_step_of_random_matrices_has_the_right_first_column_and_stays_tridiagonal(n, scale):
    rng = np.random.default_rng(4)
    d, e, shift = rng.normal(0.3, 1, n), rng.uniform(0.5, 2, n - 1), 0.85
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d1, e1, c, s = qr_step(scale * d, scale * e, scale * shift)
    g, call = product(c, s), f"qr_step({scale:g} * d, ...), n = {n},"
    t = tridiagonal(d1 / scale, e1 / scale)
    assert_close(g @ tridiagonal(d, e) @ g.T, t, f"{call} G T G' of its rotations", "the new T", rtol=0, atol=1e-12)
    assert_close(c**2 + s**2, np.ones(n - 1), f"{call} c^2 + s^2", "cosines and sines", rtol=1e-14)
    column = np.r_[d[0] - shift, e[0], np.zeros(n - 2)]
    column /= np.linalg.norm(column)
    sign = np.sign(g[0, 1] * column[1])
    assert_close(sign * g[0], column, f"{call} the first column of Q", "equation (6)", rtol=0, atol=1e-13)


def test_qr_step_with_an_eigenvalue_as_shift_finds_it_at_once():
    values = np.linalg.eigvalsh(tridiagonal(D5, E5))
    for shift in values:
        d, e, _, _ = qr_step(D5, E5, shift)
        call = f"qr_step({D5}, {E5}, {shift:.4f})"
        assert_close(d[-1], shift, f"{call}, the last of d,", "(4): the shift is an eigenvalue", rtol=1e-11)
        assert abs(e[-1]) < 1e-11, f"{call} left {e[-1]:.3g} at the end of e; by (4) it is 0"


@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-4])
def test_qr_step_with_wilkinsons_shift_takes_the_last_entry_to_its_third_power(size):
    # Asymptotically e' = e^3 times e_{n-3}^2 over cubes of gaps, which here is below 1.
    e = np.r_[E5[:3], size]
    new = qr_step(D5, e, wilkinson_shift(D5[-2], size, D5[-1]))[1][-1]
    assert abs(new) <= size**3 + 1e-15, (
        f"qr_step with Wilkinson's shift took the last of e from {size:g} to {new:.3g}; {size**3:.1g} is usual"
    )


def test_qr_step_with_the_first_diagonal_entry_as_shift_divides_nothing_by_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d, e, c, s = qr_step(D5, E5, 2.3)
    expected = explicit_step(D5, E5, 2.3)
    assert_close(d, np.diagonal(expected), f"qr_step({D5}, {E5}, 2.3), d,", "equation (3)", rtol=1e-12)
    assert_close(np.abs(e), np.abs(np.diagonal(expected, 1)), "its abs(e)", "equation (3)", rtol=1e-12)
    assert_close([c[0], abs(s[0])], [0.0, 1.0], "its first rotation", "equation (6)")


def test_qr_step_of_a_single_row_does_nothing():
    d, e, c, s = qr_step(np.array([2.7]), np.zeros(0), 1.3)
    assert_close(d, [2.7], "qr_step([2.7], [], 1.3), d", "no rotation")
    assert e.shape == c.shape == s.shape == (0,), "qr_step([2.7], [], 1.3) should return three empty arrays besides d"


def test_qr_step_keeps_float32_and_leaves_its_arguments_alone():
    for part in qr_step(D5.astype(np.float32), E5.astype(np.float32), 0.7):
        assert part.dtype == np.float32, f"qr_step of float32 arrays returned {part.dtype}, expected float32"
    unchanged(qr_step, D5.copy(), E5.copy(), 0.7)


# rotate_columns


def test_rotate_columns_turns_a_pair():
    z = np.array([[2.5, -0.7], [1.3, 0.6], [-0.4, 1.9]])
    expected = [[0.8 * a + 0.6 * b, 0.8 * b - 0.6 * a] for a, b in z]
    call = f"rotate_columns({z.tolist()}, [0.8], [0.6])"
    assert_close(rotate_columns(z, np.array([0.8]), np.array([0.6])), expected, call, "equation (9)", rtol=RTOL)


@pytest.mark.parametrize(("n_rows", "n"), [(2, 3), (4, 4), (30, 12)])
def test_rotate_columns_turns_one_pair_after_the_other(n_rows, n):
    rng = np.random.default_rng(5)
    z, angles = rng.normal(0.4, 1, (n_rows, n)), rng.uniform(0.2, 1.3, n - 1)
    c, s = np.cos(angles), np.sin(angles)
    call = f"rotate_columns(z, c, s), z of shape {z.shape},"
    assert_close(rotate_columns(z, c, s), z @ product(c, s).T, call, "Z G', (9)", rtol=0, atol=1e-13)


def test_rotate_columns_of_a_single_column_does_nothing():
    z = np.array([[2.5], [-0.7]])
    assert_close(
        rotate_columns(z, np.zeros(0), np.zeros(0)), z, "rotate_columns([[2.5], [-0.7]], [], [])", "no rotation"
    )


def test_rotate_columns_keeps_float32_and_leaves_its_arguments_alone():
    z, c, s = A4.astype(np.float32), np.full(3, 0.8, dtype=np.float32), np.full(3, 0.6, dtype=np.float32)
    found = rotate_columns(z, c, s)
    assert found.dtype == np.float32, f"rotate_columns of float32 arrays returned {found.dtype}, expected float32"
    unchanged(rotate_columns, z, c, s)


# deflate


def test_deflate_compares_with_both_neighbours_on_the_diagonal():
    d, e = np.array([3.0, -5.0, 0.25, 0.0, -7.0]), np.array([8.5, 5.0, -0.2, 6.5]) * EPS
    # the sums of neighbours are 8, 5.25, 0.25 and 7
    call = f"deflate({d}, [8.5, 5, -0.2, 6.5] * eps), divided by eps,"
    assert_close(deflate(d, e) / EPS, [8.5, 0.0, 0.0, 0.0], call, "equation (10)")
    e = np.array([7.5, 5.5, -0.3, -7.5]) * EPS
    call = f"deflate({d}, [7.5, 5.5, -0.3, -7.5] * eps), divided by eps,"
    assert_close(deflate(d, e) / EPS, [0.0, 5.5, -0.3, -7.5], call, "equation (10)")


def test_deflate_does_so_on_the_very_boundary():
    d, e = np.array([3.0, -5.0, 0.25]), np.array([8.0, -5.25]) * EPS
    assert_close(deflate(d, e), np.zeros(2), f"deflate({d}, [8, -5.25] * eps)", "equation (10), at most")


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_deflate_does_not_depend_on_the_units(scale):
    found = deflate(scale * np.array([1.3, -2.1, 0.6]), scale * np.array([0.7e-15, -0.5e-15])) / scale
    call = f"deflate of [1.3, -2.1, 0.6] and [0.7e-15, -0.5e-15], all times {scale:g}, divided by it,"
    assert_close(found, [0.0, 0.0], call, "equation (10)")
    found = deflate(scale * np.array([1.3, -2.1, 0.6]), scale * np.array([0.8e-15, -0.7e-15])) / scale
    call = f"deflate of [1.3, -2.1, 0.6] and [0.8e-15, -0.7e-15], all times {scale:g}, divided by it,"
    assert_close(found, [0.8e-15, -0.7e-15], call, "equation (10)")


def test_deflate_between_zeros_takes_what_is_below_the_smallest_normal_number():
    e = np.array([TINY, -TINY / 8, 1.5 * TINY, -1e-300])
    call = f"deflate(zeros, {e})"
    assert_close(deflate(np.zeros(5), e), [0.0, 0.0, 1.5 * TINY, -1e-300], call, "equation (10)")


def test_deflate_goes_by_the_precision_of_its_arguments_and_leaves_them_alone():
    d, e = np.array([1.3, 2.1, 0.4], dtype=np.float32), np.array([3e-7, 4e-7], dtype=np.float32)
    found = deflate(d, e)
    assert found.dtype == np.float32, f"deflate of float32 arrays returned {found.dtype}, expected float32"
    # eps of float32 is 1.19e-7, and the sums of neighbours are 3.4 and 2.5
    assert_close(found, [0.0, np.float32(4e-7)], f"deflate({d}, {e}) in float32", "equation (10)")
    unchanged(deflate, np.array([1.3, 2.1]), np.array([1e-17]))


def test_deflate_of_a_single_row_has_nothing_to_do():
    assert deflate(np.array([2.7]), np.zeros(0)).shape == (0,), "deflate([2.7], []) should return an empty array"


# active_block


def test_active_block_ends_where_the_last_entry_is_and_begins_after_the_zero_before_it():
    e = np.full(900, 0.7)
    e[[122, 316]], e[701:] = 0.0, 0.0
    call = "active_block of 900 entries, zeros at 122, 316 and from 701 on,"
    assert_close(active_block(e), (317, 702), call, "its docstring: rows 317 to 701")


@pytest.mark.parametrize(
    ("e", "block"),
    [
        ([0.7, -0.4, 1.3, 0.2], (0, 5)),
        ([0.7, 0.0, 1.3, -0.2], (2, 5)),
        ([0.7, -0.4, 0.0, 0.0], (0, 3)),
        ([0.7, 0.0, -0.4, 0.0, 0.0], (2, 4)),
        ([0.7, 0.0, 0.0, 0.6, 0.1, -0.4, 0.0], (3, 7)),
        ([0.0, 0.0, 0.0, 1e-300], (3, 5)),
        ([-1e-300, 0.0], (0, 2)),
        ([1.1], (0, 2)),
    ],
)
def test_active_block_is_the_last_of_more_than_one_row(e, block):
    assert_close(active_block(np.array(e)), block, f"active_block({e})", "its docstring")


@pytest.mark.parametrize("n", [0, 1, 4])
def test_active_block_of_a_diagonal_matrix_is_empty(n):
    assert_close(active_block(np.zeros(n)), (0, 0), f"active_block({np.zeros(n)})", "its docstring")


# symmetric_eigen


def test_symmetric_eigen_of_two_rows_is_that_found_by_hand():
    # The eigenvalues are 4.3 +- 2, and the vectors (3, 1) and (-1, 3), divided by sqrt(10).
    found = symmetric_eigen(np.array([[5.9, 1.2], [1.2, 2.7]]))
    call = "symmetric_eigen([[5.9, 1.2], [1.2, 2.7]])"
    assert_close(found.values, [2.3, 6.3], f"{call}.values", "by hand", rtol=1e-12)
    expected = np.array([[-1, 3], [3, 1]]) / np.sqrt(10)
    assert_close(found.vectors, expected, f"{call}.vectors", "by hand, signs by (12)", rtol=1e-12)


@pytest.mark.parametrize(
    ("n", "scale"), [*((n, 1.0) for n in (1, 2, 3, 7, 24)), *((11, scale) for scale in (1e-300, 1e-150, 1e150, 1e300))]
)
def test_symmetric_eigen_is_exact_up_to_rounding(n, scale):
    a = scale * random_symmetric(n)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = symmetric_eigen(a)
    call = f"symmetric_eigen(a), n = {len(a)}, entries near {scale:g},"
    assert_decomposes(a, found, call)
    largest = np.abs(found.vectors).max(axis=0)
    sign = (found.vectors >= (1 - 1e-8) * largest).any(axis=0)  # two entries may tie up to rounding
    assert sign.all(), f"{call}: the entry of largest absolute value is negative in a column; see (12)"


BLOCKS = np.zeros((7, 7))
BLOCKS[:3, :3], BLOCKS[3:5, 3:5], BLOCKS[5:, 5:] = A4[:3, :3], [[0.3, 1.9], [1.9, 0.3]], [[4.2, -0.6], [-0.6, 1.1]]

HARD = {
    "a matrix in three blocks": BLOCKS,
    "Wilkinson's matrix, with eigenvalues in close pairs": wilkinson_eigenvalues(21),
    "Hilbert's matrix": hilbert(12, 12),
    "an eigenvalue of multiplicity 6": np.ones((7, 7)) + 0.3 * np.eye(7),
    "two triple eigenvalues": with_eigenvalues(np.array([2.3, 2.3, 2.3, -1.1, -1.1, -1.1])),
    "eigenvalues 1e-10 apart": with_eigenvalues(1 + 1e-10 * np.arange(8)),
    "eigenvalues from 1 to 1e-18": with_eigenvalues(100.0 ** -np.arange(10)),
    "a matrix of rank 2": random_symmetric(9)[:, :2] @ random_symmetric(9)[:, :2].T,
    "a zero diagonal": np.ones((5, 5)) - np.eye(5),
    "eigenvalues of opposite sign": np.array([[0.0, 1.7], [1.7, 0.0]]),
    "a path of 9 nodes": np.eye(9, k=1) + np.eye(9, k=-1),
    "a graded matrix, large entries first": random_symmetric(8) * 10.0 ** -np.add.outer(np.arange(8), np.arange(8)),
    "a graded matrix, large entries last": random_symmetric(8) * 10.0 ** np.add.outer(np.arange(8), np.arange(8)),
    "a matrix graded by 150 decades": random_symmetric(7) * 10.0 ** (-25.0 * np.add.outer(np.arange(7), np.arange(7))),
    "tiny entries, all of them negative but a zero": -1e-300
    * np.abs(random_symmetric(5))
    * (np.add.outer(*[range(5)] * 2) > 0),
    "a diagonal matrix in falling order": np.diag([3.5, 1.0, -2.25]),
    "a single number": np.array([[-3.7]]),
    "zeros": np.zeros((4, 4)),
}


@pytest.mark.parametrize("name", HARD)
def test_symmetric_eigen_is_exact_up_to_rounding_for_hard_matrices(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = symmetric_eigen(HARD[name])
    assert_decomposes(HARD[name], found, f"symmetric_eigen of {name}")


def test_symmetric_eigen_finds_the_sines_of_a_vibrating_string():
    # 2 on the diagonal and -1 beside it: 4 sin^2(k pi / (2 (n + 1))), and the vectors are sines.
    n = 16
    a, k = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1), np.arange(1, n + 1)
    found, call = symmetric_eigen(a), "symmetric_eigen of 2 on the diagonal and -1 beside it, n = 16,"
    expected = 4 * np.sin(k * np.pi / (2 * (n + 1))) ** 2
    assert_close(found.values, expected, f"{call} its values", "4 sin^2(k pi / (2 n + 2))", rtol=0, atol=2e-13)
    vectors = np.sqrt(2 / (n + 1)) * np.sin(np.outer(k, k) * np.pi / (n + 1))
    # Neighbouring eigenvalues are 0.1 apart at the ends: vectors are right to n eps / 0.1.
    overlap = np.abs((vectors * found.vectors).sum(axis=0))
    assert_close(overlap, np.ones(n), f"{call} its vectors times sines", "1 or -1", rtol=0, atol=1e-11)


def test_symmetric_eigen_finds_the_subspaces_of_repeated_eigenvalues():
    a = HARD["two triple eigenvalues"]
    found = symmetric_eigen(a)
    expected = (a + 1.1 * np.eye(6)) / 3.4  # maps vectors of 2.3 to themselves, and those of -1.1 to 0
    projection = found.vectors[:, 3:] @ found.vectors[:, 3:].T
    call = "V V' of the last three vectors, eigenvalues -1.1 and 2.3 three times each"
    assert_close(projection, expected, call, "(A + 1.1 I) / 3.4", rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["a diagonal matrix in falling order", "a single number", "zeros"])
def test_symmetric_eigen_makes_no_step_where_there_is_nothing_to_do(name):
    found, call = symmetric_eigen(HARD[name], max_steps=0), f"symmetric_eigen of {name}, max_steps=0,"
    assert_close(found.steps, 0, f"{call} its steps", "its docstring")
    assert_close(found.values, np.sort(np.diagonal(HARD[name])), f"{call} its values", "the diagonal", rtol=1e-15)


@pytest.mark.parametrize("n", [10, 20])
def test_symmetric_eigen_needs_about_two_steps_for_each_eigenvalue(n):
    steps = symmetric_eigen(random_symmetric(n)).steps
    assert n <= steps <= 3 * n, f"symmetric_eigen(a), n = {n}, took {steps} steps; about {2 * n} are usual"


def test_symmetric_eigen_raises_where_the_steps_do_not_suffice():
    a = random_symmetric(5)
    needed = symmetric_eigen(a).steps
    exact = symmetric_eigen(a, max_steps=needed).steps
    assert_close(exact, needed, f"symmetric_eigen(a, max_steps={needed}).steps", "what it needs")
    try:
        outcome = symmetric_eigen(a, max_steps=needed - 1).steps
    except np.linalg.LinAlgError:
        outcome = "LinAlgError"
    call = f"symmetric_eigen(a, max_steps={needed - 1}) of a matrix that needs {needed}, its steps,"
    assert_close(outcome, "LinAlgError", call, "its docstring: an error")


@pytest.mark.parametrize(("n", "scale"), [(1, 1.0), (2, 1.0), (11, 1.0), (5, 1e-30), (5, 1e30)])
def test_symmetric_eigen_keeps_float32(n, scale):
    a = (scale * random_symmetric(n)).astype(np.float32)
    assert_decomposes(a, symmetric_eigen(a), f"symmetric_eigen(a), n = {n}, entries near {scale:g}, in float32,")


def test_symmetric_eigen_takes_whole_numbers_and_symmetry_up_to_rounding():
    found = symmetric_eigen(np.array([[2, 2], [2, -1]]))
    assert_close(found.values, [-2.0, 3.0], "symmetric_eigen([[2, 2], [2, -1]]).values", "by hand", rtol=1e-12)
    a = random_symmetric(6)
    skew = a * (1 + 4 * EPS * np.triu(np.ones((6, 6)), 1))
    assert_decomposes(skew, symmetric_eigen(skew), "symmetric_eigen of a matrix that is symmetric up to rounding")


def test_symmetric_eigen_leaves_its_matrix_alone():
    unchanged(symmetric_eigen, A4.copy())
    unchanged(symmetric_eigen, A4 / np.abs(A4).max())


# What is given: the checks of the arguments


@pytest.mark.given
@pytest.mark.parametrize(
    "a", [np.ones((2, 3)), np.ones(2), np.zeros((0, 0)), np.array([[np.inf]]), np.array([[1.0, 2.0], [3.0, 1.0]])]
)
def test_tridiagonalize_and_symmetric_eigen_refuse_what_is_no_symmetric_matrix(a):
    for call in (tridiagonalize, symmetric_eigen):
        with pytest.raises(ValueError, match="a must"):
            call(a)


@pytest.mark.given
def test_reflect_both_sides_refuses_what_does_not_fit():
    for a in (np.ones((2, 3)), np.ones(2), np.array([[np.nan]])):
        with pytest.raises(ValueError, match="a must"):
            reflect_both_sides(np.ones(2), 1.0, a)
    for v in (np.ones(3), np.ones((4, 1)), np.array([1.0, np.nan, 2.0, 3.0])):
        with pytest.raises(ValueError, match="v must"):
            reflect_both_sides(v, 1.0, A4)


@pytest.mark.given
@pytest.mark.parametrize("place", [0, 1, 2])
def test_wilkinson_shift_refuses_what_is_not_finite(place):
    numbers = [1.0, 2.0, 3.0]
    for bad in (np.nan, np.inf):
        numbers[place] = bad
        with pytest.raises(ValueError, match="a, b and c must"):
            wilkinson_shift(*numbers)


@pytest.mark.given
def test_qr_step_and_deflate_refuse_diagonals_that_do_not_fit():
    for call in (lambda d, e: qr_step(d, e, 0.3), deflate):
        for d in (np.eye(2), np.zeros(0), np.array([1.0, np.inf])):
            with pytest.raises(ValueError, match="d must"):
                call(d, np.ones(1))
        for e in (np.ones(2), np.ones((1, 1)), np.array([np.nan]), np.zeros(0)):
            with pytest.raises(ValueError, match="e must"):
                call(np.ones(2), e)


@pytest.mark.given
def test_rotate_columns_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="z must"):
        rotate_columns(np.ones(3), np.ones(2), np.ones(2))
    for c, s in ((np.ones(2), np.ones(3)), (np.ones(3), np.ones(2)), (np.ones(4), np.ones(4))):
        with pytest.raises(ValueError, match="c and s must"):
            rotate_columns(A4, c, s)


@pytest.mark.given
def test_active_block_refuses_what_is_no_vector():
    with pytest.raises(ValueError, match="e must"):
        active_block(np.eye(2))


@pytest.mark.given
def test_symmetric_eigen_refuses_a_negative_number_of_steps():
    with pytest.raises(ValueError, match="max_steps must"):
        symmetric_eigen(A4, max_steps=-1)
