"""Shared tests of linalg/jacobi_eigen: run on the reference, and on the learner's file.

Nothing here is random but seeded data. Eigenvalues are within the backward error of a computed decomposition of the right ones:
every entry goes through some 10 n rotations, whose rounding errors add up like a random walk. In practice the errors are up to 5 n
eps times the largest entry; the tests allow 50. Cases by hand have few operations, and 1e-13 is hundreds of roundings. What is
said of small eigenvalues of graded matrices is proved in whole numbers, without any rounding: see `count_below`.
"""

import itertools
import warnings
from fractions import Fraction

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, wilkinson_eigenvalues
from mlpath.linalg.jacobi_eigen import (
    in_order,
    jacobi_eigen,
    largest_cosine,
    off_diagonal_norm,
    rotate,
    rotation,
    rounds,
    sweep,
)
from mlpath.testing import assert_close

RTOL = 1e-13
EPS = np.finfo(float).eps

A3 = np.array([[2.5, -0.7, 1.3], [-0.7, 0.9, -2.1], [1.3, -2.1, -1.6]])


def random_symmetric(n, seed=1):
    """Entries of both signs around a mean that is not zero."""
    a = np.random.default_rng(seed).normal(0.3, 2, (n, n))
    return (a + a.T) / 2


def with_eigenvalues(values, seed=2):
    """A full matrix with these eigenvalues, up to rounding."""
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))[0]
    a = q * values @ q.T
    return (a + a.T) / 2


def graded(n, decades, seed=3):
    """D B D with condition number of B about 3, and D from 1 to 10^-decades in a random order."""
    rng = np.random.default_rng(seed)
    g = rng.normal(size=(n, n))
    d = 10.0 ** -rng.permutation(np.linspace(0, decades, n))
    a = (g @ g.T / n + 2 * np.eye(n)) * d * d[:, None]
    return (a + a.T) / 2


def rotation_matrix(n, p, q, c, s):
    """J of (2), as a whole matrix, for several pairs."""
    j = np.eye(n)
    j[p, p], j[q, q], j[p, q], j[q, p] = c, c, s, -s
    return j


def exactly(a, x):
    """A - x I in whole numbers, times a power of two."""
    entries = [[Fraction(float(entry)) for entry in row] for row in a]
    for i, row in enumerate(entries):
        row[i] -= Fraction(float(x))
    unit = max(entry.denominator for row in entries for entry in row)  # all denominators are powers of two
    return [[int(entry * unit) for entry in row] for row in entries]


def count_below(a, x):
    """How many eigenvalues of A are below x, without rounding: the negative pivots of A - x I (Sylvester's law of inertia).

    Bareiss's elimination keeps to whole numbers; a pivot is the quotient of two successive ones of its corner entries.
    """
    m, before, count = exactly(a, x), 1, 0
    for k in range(len(m)):
        assert m[k][k], "a zero pivot: take another x"
        count += (m[k][k] > 0) != (before > 0)
        for i in range(k + 1, len(m)):
            for j in range(k + 1, len(m)):
                m[i][j] = (m[i][j] * m[k][k] - m[i][k] * m[k][j]) // before
        before = m[k][k]
    return count


def assert_relatively_right(a, values, rtol, call):
    """Fail unless eigenvalue k of A lies within rtol of values[k], for each k, by exact counts. For positive definite A."""
    for k, value in enumerate(values):
        message = f"{call} returned {value:.17g} as eigenvalue {k}"
        assert value > 0, f"{message}; a positive definite matrix has positive ones"
        low, high = count_below(a, value * (1 - rtol)), count_below(a, value * (1 + rtol))
        assert low <= k < high, (
            f"{message}; by exact counts that is off by more than {rtol:g} of it, and (11) allows a few rounding errors"
        )


def assert_decomposes(a, found, call):
    """Fail unless A V = V L, V'V = I, and the values ascend; all up to rounding, relative to the largest entry of A."""
    n, eps = len(a), np.finfo(a.dtype).eps
    assert found.values.dtype == a.dtype, f"{call}.values are {found.values.dtype}, expected {a.dtype}"
    assert found.vectors.dtype == a.dtype, f"{call}.vectors are {found.vectors.dtype}, expected {a.dtype}"
    assert found.values.shape == (n,), f"{call}.values have the shape {found.values.shape}, expected {(n,)}"
    assert found.vectors.shape == (n, n), f"{call}.vectors have the shape {found.vectors.shape}, expected {(n, n)}"
    size = float(np.abs(a).max()) or 1.0
    values, vectors, a = found.values / size, found.vectors.astype(float), a.astype(float) / size
    assert (np.diff(values) >= 0).all(), f"{call}.values do not ascend: {found.values}"
    gap = np.abs(vectors.T @ vectors - np.eye(n)).max()
    assert gap <= 50 * n * eps, f"{call}.vectors are not orthonormal: V'V differs from I by {gap:.3g}"
    error = np.abs(a @ vectors - vectors * values).max()
    assert error <= 50 * n * eps, (
        f"{call}: A V and V L differ by {error:.3g} of the largest entry; rounding may be {50 * n * eps:.2g}"
    )
    expected = np.linalg.eigvalsh(a)
    error = np.abs(values - expected).max()
    assert error <= 50 * n * eps, f"{call}.values differ from NumPy's by {error:.3g} of the largest entry of a"


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    before = [a.copy() for a in arguments]
    function(*arguments)
    for a, copy in zip(arguments, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# off_diagonal_norm


def test_off_diagonal_norm_adds_squares_on_both_sides_of_the_diagonal():
    a = np.array([[4.7, 1.3, -0.4], [2.6, -3.9, 0.8], [-0.9, 1.7, 5.2]])
    expected = np.sqrt(1.3**2 + 0.4**2 + 2.6**2 + 0.8**2 + 0.9**2 + 1.7**2)
    assert_close(off_diagonal_norm(a), expected, f"off_diagonal_norm({a.tolist()})", "equation (1)", rtol=RTOL)


def test_off_diagonal_norm_goes_by_absolute_values():
    a = np.array([[4.7, -1.3, -0.4], [-2.6, -3.9, -0.8], [-0.9, -1.7, 5.2]])
    expected = np.sqrt(1.3**2 + 0.4**2 + 2.6**2 + 0.8**2 + 0.9**2 + 1.7**2)
    assert_close(off_diagonal_norm(a), expected, f"off_diagonal_norm({a.tolist()})", "equation (1)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_off_diagonal_norm_works_at_any_scale(scale):
    expected = scale * np.sqrt(2 * (0.7**2 + 1.3**2 + 2.1**2))
    assert_close(
        off_diagonal_norm(scale * A3), expected, f"off_diagonal_norm({scale:g} * a)", "equation (1)", rtol=RTOL
    )


@pytest.mark.parametrize("scale", [1e-150, 1e-20])
def test_off_diagonal_norm_is_not_a_difference_of_large_numbers(scale):
    a = np.diag([1e5, -3.1, 2.4]) + scale * (A3 - np.diag(np.diagonal(A3)))
    expected = scale * np.sqrt(2 * (0.7**2 + 1.3**2 + 2.1**2))
    call = f"off_diagonal_norm of entries near {scale:g} beside a diagonal of 1e5, -3.1, 2.4"
    assert_close(off_diagonal_norm(a), expected, call, "equation (1)", rtol=RTOL)


@pytest.mark.parametrize("diagonal", [[2.7], [0.0, 0.0], [1e200, -3.0, 0.0]])
def test_off_diagonal_norm_of_a_diagonal_matrix_is_0(diagonal):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = off_diagonal_norm(np.diag(diagonal))
    assert_close(found, 0.0, f"off_diagonal_norm(diag({diagonal}))", "equation (1)")


def test_off_diagonal_norm_leaves_its_matrix_alone():
    unchanged(off_diagonal_norm, A3.copy())


# largest_cosine


def test_largest_cosine_divides_by_the_roots_of_two_diagonal_entries():
    a = np.array([[6.25, -1.3, 0.2], [-1.3, 2.56, 0.15], [0.2, 0.15, 0.09]])
    # 1.3 / (2.5 * 1.6) = 0.325, 0.2 / (2.5 * 0.3) = 0.2667, 0.15 / (1.6 * 0.3) = 0.3125
    assert_close(largest_cosine(a), 0.325, f"largest_cosine({a.tolist()})", "equation (8)", rtol=RTOL)
    a[1, 2] = a[2, 1] = 0.174
    assert_close(largest_cosine(a), 0.3625, f"largest_cosine({a.tolist()})", "equation (8)", rtol=RTOL)


def test_largest_cosine_does_not_depend_on_the_units():
    b = np.array([[1.0, 0.3, -0.45], [0.3, 1.0, 0.2], [-0.45, 0.2, 1.0]])
    d = np.array([1e-150, 3.0, 1e150])
    call = "largest_cosine of D B D with D from 1e-150 to 1e150"
    assert_close(largest_cosine(b * d * d[:, None]), 0.45, call, "equation (8)", rtol=RTOL)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_largest_cosine_works_at_any_scale(scale):
    a = scale * np.array([[6.25, -1.3], [-1.3, 2.56]])
    assert_close(largest_cosine(a), 0.325, f"largest_cosine({scale:g} * a)", "equation (8)", rtol=RTOL)


def test_largest_cosine_takes_diagonal_entries_by_absolute_value():
    a = np.array([[-6.25, 1.3], [1.3, 2.56]])
    assert_close(largest_cosine(a), 0.325, f"largest_cosine({a.tolist()})", "equation (8)", rtol=RTOL)


def test_largest_cosine_divides_by_zero_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nothing = largest_cosine(np.diag([0.0, 3.2, 0.0]))
        single = largest_cosine(np.array([[-2.6]]))
        infinite = largest_cosine(np.array([[0.0, 0.3], [0.3, 2.7]]))
    assert_close(nothing, 0.0, "largest_cosine(diag(0, 3.2, 0))", "its docstring: 0 / 0 counts as 0")
    assert_close(single, 0.0, "largest_cosine([[-2.6]])", "equation (8): there is nothing off the diagonal")
    assert_close(infinite, np.inf, "largest_cosine([[0, 0.3], [0.3, 2.7]])", "its docstring")


def test_largest_cosine_leaves_its_matrix_alone():
    unchanged(largest_cosine, A3.copy())


# rotation


def test_rotation_makes_the_angle_of_equations_4_to_6():
    # tau = 0.75, -0.75, 2.4, -2.4, 0.75: tangents 1/2, -1/2, 1/5, -1/5, 1/2
    a_pp, a_qq = np.array([1.2, 5.1, 0.7, 9.8, 4.5]), np.array([4.2, 2.1, 7.9, 2.6, 1.5])
    a_pq = np.array([2.0, 2.0, 1.5, 1.5, -2.0])
    t = np.array([0.5, -0.5, 0.2, -0.2, 0.5])
    c, s = rotation(a_pp, a_qq, a_pq)
    call = f"rotation({a_pp.tolist()}, {a_qq.tolist()}, {a_pq.tolist()})"
    assert_close(s, t / np.sqrt(1 + t**2), f"{call}, the sines", "equations (4) to (6)", rtol=RTOL)
    assert_close(c, 1 / np.sqrt(1 + t**2), f"{call}, the cosines", "equations (4) to (6)", rtol=RTOL)


def test_rotation_makes_random_matrices_diagonal_by_the_smaller_angle():
    a_pp, a_qq, a_pq = np.random.default_rng(4).normal(0.2, 3, (3, 200))
    c, s = rotation(a_pp, a_qq, a_pq)
    left = c * s * (a_pp - a_qq) + (c**2 - s**2) * a_pq
    worst = np.max(np.abs(left) / (np.abs(a_pp) + np.abs(a_qq) + np.abs(a_pq)))
    assert worst <= 1e-14, (
        f"after rotation(...) an entry of {worst:.3g}, relative, is left off the diagonal; (3) wants 0"
    )
    assert_close(c**2 + s**2, np.ones(200), "c^2 + s^2 of rotation(...)", "sine and cosine", rtol=1e-14)
    assert (c >= np.abs(s) - 1e-15).all(), "rotation(...) turned by more than 45 degrees: (5) takes the smaller angle"


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rotation_keeps_all_digits_of_tiny_angles(sign):
    # tan 2 angle = 2 a_pq / (a_qq - a_pp); for angles below 1e-8 the sine is a_pq / (a_qq - a_pp) to 16 digits.
    a_pq = sign * 3.7 * np.array([1e-9, 1e-12, 1e-20, 1e-100, 1e-155, 1e-200, 1e-300])
    a_pp, a_qq = np.full(7, 4.1), np.full(7, 1.6)
    with np.errstate(all="ignore"):
        c, s = rotation(a_pp, a_qq, a_pq)
    call = f"rotation of 4.1, 1.6 and {a_pq.tolist()}, the sines"
    assert_close(s, -a_pq / 2.5, call, "equation (5)", rtol=1e-13)
    assert_close(c, np.ones(7), "the cosines", "equation (6)", rtol=1e-14)


def test_rotation_of_equal_diagonal_entries_is_by_45_degrees():
    c, s = rotation(np.array([2.7, -1.4]), np.array([2.7, -1.4]), np.array([1e-20, -3.1]))
    half = np.full(2, np.sqrt(0.5))
    assert_close(c, half, "the cosines of rotation([2.7, -1.4], [2.7, -1.4], [1e-20, -3.1])", "(5), tau = 0", rtol=RTOL)
    assert_close(np.abs(s), half, "their sines, by absolute value,", "(5), tau = 0", rtol=RTOL)


def test_rotation_where_nothing_is_off_the_diagonal_is_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c, s = rotation(np.array([2.7, 2.7, 0.0, 1e300]), np.array([1.3, 2.7, 0.0, 1.3]), np.zeros(4))
    assert_close(c, np.ones(4), "the cosines of rotation(..., [0, 0, 0, 0])", "its docstring")
    assert_close(s, np.zeros(4), "the sines of rotation(..., [0, 0, 0, 0])", "its docstring")


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_rotation_does_not_depend_on_the_scale(scale):
    c, s = rotation(scale * np.array([1.2]), scale * np.array([4.2]), scale * np.array([2.0]))
    assert_close(c, [2 / np.sqrt(5)], f"the cosine of rotation({scale:g} * ...)", "equation (6)", rtol=RTOL)
    assert_close(s, [1 / np.sqrt(5)], f"the sine of rotation({scale:g} * ...)", "equation (6)", rtol=RTOL)


def test_rotation_does_not_overflow_for_huge_tau():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c, s = rotation(
            np.array([1e150, -1e150, 1e200]), np.array([2.0, 1e150, 1.0]), np.array([1e-150, 1e-200, 2e-120])
        )
    call = "rotation([1e150, -1e150, 1e200], [2, 1e150, 1], [1e-150, 1e-200, 2e-120])"
    assert_close(s, [-1e-300, 0.0, 0.0], f"{call}, the sines", "equation (5)", rtol=RTOL, atol=1e-310)
    assert_close(c, np.ones(3), f"{call}, the cosines", "equation (6)")


def test_rotation_keeps_float32():
    c, s = rotation(*np.array([[1.2, 5.1], [4.2, 2.1], [2.0, 0.0]], dtype=np.float32))
    for part, name in ((c, "cosines"), (s, "sines")):
        assert part.dtype == np.float32, f"rotation of float32 arrays returned {name} of {part.dtype}, expected float32"
    expected = np.array([1 / np.sqrt(5), 0.0])
    assert_close(s, expected, "rotation of float32 arrays", "(6)", rtol=1e-5, tolerance="a float32 has 7 digits")


# rounds


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 11, 20])
def test_rounds_are_a_tournament(n):
    found = np.asarray(rounds(n))
    expected = (n if n % 2 else n - 1, n // 2, 2)
    assert found.shape == expected, f"rounds({n}) has the shape {found.shape}, expected {expected} by (7)"
    assert found.dtype.kind in "iu", f"rounds({n}) is an array of {found.dtype}, expected whole numbers"
    assert (found[..., 0] < found[..., 1]).all(), f"rounds({n}) has a pair with the larger number first:\n{found}"
    for r, pairs in enumerate(found):
        assert len(np.unique(pairs)) == pairs.size, f"rounds({n})[{r}] has a number twice: {pairs.tolist()}"
    pairs, every = sorted(map(tuple, found.reshape(-1, 2).tolist())), list(itertools.combinations(range(n), 2))
    assert pairs == every, f"rounds({n}) should have each pair of numbers once, but has\n{pairs}"


def test_rounds_of_one_number_is_one_without_pairs():
    assert np.shape(rounds(1)) == (1, 0, 2), f"rounds(1) has the shape {np.shape(rounds(1))}, expected (1, 0, 2)"


# rotate


def test_rotate_turns_one_pair_from_both_sides():
    found = rotate(A3, np.array([0]), np.array([2]), np.array([0.8]), np.array([0.6]))
    j = rotation_matrix(3, [0], [2], 0.8, 0.6)
    call = f"rotate({A3.tolist()}, [0], [2], [0.8], [0.6])"
    assert_close(found, j.T @ A3 @ j, call, "equation (2)", rtol=RTOL, atol=1e-15)


def test_rotate_takes_the_larger_index_first_as_well():
    found = rotate(A3, np.array([2]), np.array([1]), np.array([0.8]), np.array([-0.6]))
    j = rotation_matrix(3, [2], [1], 0.8, -0.6)
    call = f"rotate({A3.tolist()}, [2], [1], [0.8], [-0.6])"
    assert_close(found, j.T @ A3 @ j, call, "equation (2)", rtol=RTOL, atol=1e-15)


def test_rotate_turns_several_pairs_at_once():
    a, angles = random_symmetric(9), np.array([0.3, -1.1, 2.0])
    p, q, c, s = np.array([5, 0, 3]), np.array([7, 8, 4]), np.cos(angles), np.sin(angles)
    j = rotation_matrix(9, p, q, c, s)
    call = "rotate(a, [5, 0, 3], [7, 8, 4], c, s), a of shape (9, 9),"
    assert_close(rotate(a, p, q, c, s), j.T @ a @ j, call, "equation (2)", rtol=RTOL, atol=1e-13)


def test_rotate_moves_squares_from_off_the_diagonal_onto_it():
    tangent = 0.5  # a_pp = 1.2, a_qq = 4.2 and a_pq = 2 make tau = 0.75
    a = np.array([[1.2, 2.0, -0.9], [2.0, 4.2, 1.7], [-0.9, 1.7, 0.6]])
    c = np.array([1 / np.sqrt(1 + tangent**2)])
    found = rotate(a, np.array([0]), np.array([1]), c, tangent * c)
    call = f"rotate({a.tolist()}, ...) by the angle of (4)"
    assert_close(np.diagonal(found), [0.2, 5.2, 0.6], f"{call}, the diagonal", "the note after (3)", rtol=RTOL)
    assert_close(found[0, 1], 0.0, f"{call}, entry [0, 1]", "(4)", atol=1e-15)
    assert_close((found**2).sum(), (a**2).sum(), f"{call}, the sum of squares", "the note after (3)", rtol=RTOL)


def test_rotate_keeps_the_symmetry_to_the_last_bit():
    a = random_symmetric(30)
    p, q = np.arange(0, 30, 2), np.arange(1, 30, 2)
    angles = np.random.default_rng(5).uniform(-1, 1, 15)
    found = rotate(a, p, q, np.cos(angles), np.sin(angles))
    assert np.array_equal(found, found.T), "rotate(a, ...) is not exactly symmetric, for 15 pairs of 30 axes"


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_rotate_works_at_any_scale(scale):
    found = rotate(scale * A3, np.array([0]), np.array([2]), np.array([0.8]), np.array([0.6])) / scale
    j = rotation_matrix(3, [0], [2], 0.8, 0.6)
    assert_close(found, j.T @ A3 @ j, f"rotate({scale:g} * a, ...)", "equation (2)", rtol=RTOL, atol=1e-15)


def test_rotate_keeps_the_digits_of_small_entries():
    d = np.array([2.0**40, 1.0, 2.0**-40])
    a = np.array([[2.5, 0.7, 0.4], [0.7, 1.9, 0.5], [0.4, 0.5, 1.3]]) * d * d[:, None]
    # By (5) t is -a_pq / a_pp up to a part in 10^24, and what is left of row and column 2 is a Schur complement.
    t = -a[0, 2] / a[0, 0]
    found = rotate(a, np.array([0]), np.array([2]), np.ones(1), np.array([t]))
    call = "rotate of a graded matrix, axes 0 and 2 by the angle of (4),"
    assert_close(found[2, 2] / d[2] ** 2, 1.3 - 0.4**2 / 2.5, f"{call} entry [2, 2]", "equation (3)", rtol=RTOL)
    assert_close(found[1, 2] / d[2], 0.5 - 0.7 * 0.4 / 2.5, f"{call} entry [1, 2]", "equation (3)", rtol=RTOL)


def test_rotate_keeps_float32():
    c, s = np.array([0.8], dtype=np.float32), np.array([0.6], dtype=np.float32)
    found = rotate(A3.astype(np.float32), np.array([0]), np.array([2]), c, s)
    assert found.dtype == np.float32, f"rotate of float32 arrays returned {found.dtype}, expected float32"


def test_rotate_leaves_its_arguments_alone():
    unchanged(rotate, A3.copy(), np.array([0]), np.array([2]), np.array([0.8]), np.array([0.6]))


# sweep


def test_sweep_makes_separate_pairs_diagonal_in_one_go():
    # Axes 0 and 2 know nothing of 1 and 3, so that each order of the pairs gives the same: tangents 1/2 and -1/5.
    a = np.zeros((4, 4))
    a[0, 0], a[2, 2], a[0, 2] = 1.2, 4.2, 2.0
    a[1, 1], a[3, 3], a[1, 3] = 9.8, 2.6, 1.5
    a = np.triu(a) + np.triu(a, 1).T
    found, v = sweep(a, np.eye(4))
    call = f"sweep({a.tolist()}, I)"
    assert_close(found, np.diag([0.2, 10.1, 5.2, 2.3]), f"{call}, the matrix", "(3) and (4)", rtol=RTOL, atol=1e-14)
    j = rotation_matrix(4, [0, 1], [2, 3], 1 / np.sqrt([1.25, 1.04]), np.array([0.5, -0.2]) / np.sqrt([1.25, 1.04]))
    assert_close(v, j, f"{call}, the rotations", "equation (2)", rtol=RTOL, atol=1e-14)


@pytest.mark.parametrize("n", [2, 4, 5])
def test_sweep_turns_every_pair(n):
    for p, q in itertools.combinations(range(n), 2):
        a = np.diag(1.7 + np.arange(n))
        a[p, q] = a[q, p] = 0.85
        off = np.abs(sweep(a, np.eye(n))[0])[p, q]
        assert off <= 1e-14, f"sweep left {off:.3g} at [{p}, {q}], the only entry off the diagonal of {n} x {n}"


@pytest.mark.parametrize("n", [3, 8, 15])
def test_sweep_is_a_rotation_of_the_whole_matrix(n):
    a = random_symmetric(n)
    found, v = sweep(a, np.eye(n))
    call = f"sweep(a, I), n = {n},"
    assert_close(v.T @ v, np.eye(n), f"{call} v.T @ v", "orthogonality", atol=1e-13)
    assert_close(v @ found @ v.T, a, f"{call} v @ a @ v.T", "the original a", rtol=0, atol=1e-12)
    assert np.array_equal(found, found.T), f"{call} returned a matrix that is not exactly symmetric"
    before, after = (np.linalg.norm(b - np.diag(np.diagonal(b))) for b in (a, found))
    assert after < before, f"{call} took the norm (1) from {before:.4g} to {after:.4g}; each rotation should reduce it"


def test_sweep_multiplies_the_rotations_so_far_from_the_right():
    a = random_symmetric(5)
    first, v = sweep(a, np.eye(5))
    second, w = sweep(first, v)
    alone = sweep(first, np.eye(5))[1]
    assert_close(w, v @ alone, "sweep(a, v), its v", "v times the rotations of this sweep", rtol=0, atol=1e-13)
    assert_close(w @ second @ w.T, a, "after two sweeps v @ a @ v.T", "the original a", rtol=0, atol=1e-12)


def test_sweep_of_a_single_axis_does_nothing():
    found, v = sweep(np.array([[-3.7]]), np.eye(1))
    assert_close(found, [[-3.7]], "sweep([[-3.7]], [[1]]), the matrix", "its docstring")
    assert_close(v, [[1.0]], "sweep([[-3.7]], [[1]]), the rotations", "its docstring")


def test_sweep_keeps_float32_and_leaves_its_arguments_alone():
    found, v = sweep(A3.astype(np.float32), np.eye(3, dtype=np.float32))
    assert found.dtype == v.dtype == np.float32, f"sweep in float32 returned {found.dtype} and {v.dtype}"
    unchanged(sweep, A3.copy(), np.eye(3))


# in_order


VECTORS = np.array([[0.36, -0.48, -0.8], [-0.8, -0.6, 0.0], [0.48, -0.64, 0.6]])


def test_in_order_sorts_columns_along_with_values_and_settles_their_signs():
    values, vectors = in_order(np.array([2.7, -4.1, 1.35]), VECTORS)
    call = "in_order(values, vectors)"
    assert_close(values, [-4.1, 1.35, 2.7], f"{call}, the values", "its docstring")
    # vectors was [[0.36, -0.48, -0.8], [-0.8, -0.6, 0.0], [0.48, -0.64, 0.6]]
    expected = np.array([[0.48, 0.8, -0.36], [0.6, 0.0, 0.8], [0.64, -0.6, -0.48]])
    assert_close(vectors, expected, f"{call}, the vectors", "equation (9)", rtol=RTOL)


def test_in_order_lets_the_first_of_equal_entries_decide():
    vectors = np.array([[-0.5, 0.5, 0.5, 0.5], [0.5, 0.5, -0.5, 0.5], [0.5, -0.5, 0.5, 0.5], [0.5, 0.5, 0.5, -0.5]])
    found = in_order(np.arange(4.0), vectors)[1]
    expected = vectors * [-1, 1, 1, 1]
    assert_close(found, expected, "in_order of vectors with entries of 0.5 and -0.5", "(9), the first if several tie")


def test_in_order_keeps_float32_and_leaves_its_arguments_alone():
    values, vectors = in_order(np.array([2, 1, 3], dtype=np.float32), VECTORS.astype(np.float32))
    assert values.dtype == vectors.dtype == np.float32, f"in_order in float32 returned {values.dtype}, {vectors.dtype}"
    unchanged(in_order, np.array([2.7, -4.1, 1.35]), VECTORS.copy())


# jacobi_eigen


def test_jacobi_eigen_finds_values_and_vectors_of_a_case_by_hand():
    a = np.array([[1.2, 2.0], [2.0, 4.2]])
    found = jacobi_eigen(a)
    call = f"jacobi_eigen({a.tolist()})"
    assert_close(found.values, [0.2, 5.2], f"{call}.values", "trace 5.4 and determinant 1.04", rtol=1e-12)
    expected = np.array([[2.0, 1.0], [-1.0, 2.0]]) / np.sqrt(5)
    assert_close(found.vectors, expected, f"{call}.vectors", "tangent 1/2, signs by (9)", rtol=1e-12)
    assert_close(found.off[0], 2 * np.sqrt(2), f"{call}.off[0]", "equation (1), before the first sweep", rtol=1e-12)


@pytest.mark.parametrize(("n", "scale"), [(2, 1.0), (5, 1e-150), (6, 1e150), (13, 1.0), (32, 1.0)])
def test_jacobi_eigen_decomposes_random_matrices_up_to_rounding(n, scale):
    a = scale * random_symmetric(n)
    found = jacobi_eigen(a)
    assert_decomposes(a, found, f"jacobi_eigen(a), n = {n}, entries near {scale:g},")
    largest = np.abs(found.vectors).max(axis=0)
    sign = (found.vectors >= (1 - 1e-8) * largest).any(axis=0)  # two entries may tie up to rounding
    assert sign.all(), f"jacobi_eigen(a), n = {n}: the entry of largest absolute value is negative in a column; see (9)"


HARD = {
    "Hilbert's matrix": hilbert(9, 9),
    "Wilkinson's matrix, with eigenvalues in close pairs": wilkinson_eigenvalues(13),
    "an eigenvalue of multiplicity 6": np.ones((7, 7)) + 0.3 * np.eye(7),
    "two triple eigenvalues": with_eigenvalues(np.array([2.3, 2.3, 2.3, -1.1, -1.1, -1.1])),
    "a negative definite matrix": -with_eigenvalues(np.linspace(0.5, 9.1, 6)),
    "a matrix of rank 2": random_symmetric(8)[:, :2] @ random_symmetric(8)[:, :2].T,
    "a zero diagonal": np.ones((5, 5)) - np.eye(5),
    "eigenvalues of opposite sign": np.array([[0.0, 1.7], [1.7, 0.0]]),
    "an indefinite graded matrix": random_symmetric(6) * 10.0 ** -np.arange(6) * 10.0 ** -np.arange(6)[:, None],
    "a diagonal matrix in falling order": np.diag([3.5, 1.0, -2.25]),
    "a single number": np.array([[-3.7]]),
    "zeros": np.zeros((4, 4)),
}


@pytest.mark.parametrize("name", HARD)
def test_jacobi_eigen_is_exact_up_to_rounding_for_hard_matrices(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = jacobi_eigen(HARD[name])
    assert_decomposes(HARD[name], found, f"jacobi_eigen of {name}")


def test_jacobi_eigen_finds_the_subspaces_of_repeated_eigenvalues():
    a = HARD["two triple eigenvalues"]
    found = jacobi_eigen(a)
    expected = (a + 1.1 * np.eye(6)) / 3.4  # maps vectors of 2.3 to themselves, and those of -1.1 to 0
    projection = found.vectors[:, 3:] @ found.vectors[:, 3:].T
    call = "V V' of the last three vectors, eigenvalues -1.1 and 2.3 three times each"
    assert_close(projection, expected, call, "(A + 1.1 I) / 3.4", rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["a diagonal matrix in falling order", "a single number", "zeros"])
@pytest.mark.parametrize("relative", [True, False])
def test_jacobi_eigen_makes_no_sweep_where_there_is_nothing_to_do(name, relative):
    found = jacobi_eigen(HARD[name], relative=relative)
    call = f"jacobi_eigen of {name}, relative={relative}"
    assert_close(found.sweeps, 0, f"{call}.sweeps", "its docstring")
    assert_close(found.off, [0.0], f"{call}.off", "one norm before any sweep")
    assert_close(found.values, np.sort(np.diagonal(HARD[name])), f"{call}.values", "the diagonal")


def test_jacobi_eigen_is_content_with_a_cosine_of_eps():
    found = jacobi_eigen(np.array([[1.0, EPS], [EPS, 1.0]]))
    assert_close(found.sweeps, 0, "jacobi_eigen([[1, eps], [eps, 1]]).sweeps", "its docstring: at most eps")


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_jacobi_eigen_keeps_the_history_of_the_norm(scale):
    a = scale * random_symmetric(10)
    found = jacobi_eigen(a)
    call = f"jacobi_eigen({scale:g} * a)"
    assert found.off.shape == (found.sweeps + 1,), f"{call}: {found.sweeps} sweeps, but off has shape {found.off.shape}"
    first = scale * np.linalg.norm((a - np.diag(np.diagonal(a))) / scale)
    assert_close(found.off[0], first, f"{call}.off[0]", "equation (1), before the first sweep", rtol=1e-12)
    assert (np.diff(found.off) < 0).all(), f"{call}.off should fall from sweep to sweep, but is {found.off}"
    assert found.off[-1] <= 10 * EPS * np.abs(a).max(), f"{call}.off ends at {found.off[-1]:.3g}, expected rounding"
    assert 3 <= found.sweeps <= 9, f"{call} took {found.sweeps} sweeps; 4 to 7 are usual"


def test_jacobi_eigen_squares_the_norm_in_its_last_sweeps():
    # The eigenvalues are 1 apart. From off = 1/4 on, (10) promises off^2 up to a constant; 2 was never needed.
    found = jacobi_eigen(with_eigenvalues(np.arange(1.0, 13.0)))
    near = [(before, after) for before, after in itertools.pairwise(found.off) if 1e-8 < before < 0.25]
    assert near, f"with eigenvalues 1 to 12 the norms are {found.off}; there should be one between 1e-8 and 1/4"
    for before, after in near:
        assert after <= 2 * before**2 + 1e-14, (
            f"with eigenvalues 1 to 12 the norms are {found.off}: after {before:.3g}, (10) promises about {before**2:.2g}"
        )


@pytest.mark.parametrize(("decades", "seed"), [(0, 1), (4, 2), (10, 3), (40, 4)])
def test_jacobi_eigen_keeps_the_digits_of_small_eigenvalues_of_graded_matrices(decades, seed):
    # The condition number of B is below 4, so (11) allows a few dozen eps; 1e-13 is 450 eps.
    a = graded(5, decades, seed)
    call = f"jacobi_eigen(D B D) with D from 1 to 1e-{decades}"
    assert_relatively_right(a, jacobi_eigen(a).values, 1e-13, call)


def test_jacobi_eigen_with_the_absolute_criterion_stops_where_only_large_entries_are_small():
    a = np.zeros((3, 3))
    a[0, 0], a[1:, 1:] = 2.5, 1e-20 * np.array([[1.2, 2.0], [2.0, 4.2]])
    call = "jacobi_eigen of 2.5 beside the block 1e-20 * [[1.2, 2], [2, 4.2]]"
    rough = jacobi_eigen(a, relative=False)
    assert_close(rough.sweeps, 0, f"{call}, relative=False, .sweeps", "its docstring")
    assert_close(rough.values, [1.2e-20, 4.2e-20, 2.5], f"{call}, relative=False, .values", "no sweep", rtol=RTOL)
    fine = jacobi_eigen(a)
    assert_close(fine.values, [0.2e-20, 5.2e-20, 2.5], f"{call}, .values", "equation (8)", rtol=1e-12)


def test_jacobi_eigen_with_the_absolute_criterion_is_right_up_to_the_largest_entry():
    a = 1e-150 * random_symmetric(9)
    found = jacobi_eigen(a, relative=False)
    assert_decomposes(a, found, "jacobi_eigen(a, relative=False), n = 9")
    largest = EPS * np.abs(a).max()
    call = "jacobi_eigen(a, relative=False).off"
    assert found.off[-1] <= largest < found.off[-2], (
        f"{call} is {found.off}: stop at {largest:.3g}, not before or later"
    )


@pytest.mark.parametrize("relative", [True, False])
def test_jacobi_eigen_raises_where_the_sweeps_do_not_suffice(relative):
    a = random_symmetric(5)
    needed = jacobi_eigen(a, relative=relative).sweeps
    exact = jacobi_eigen(a, relative=relative, max_sweeps=needed).sweeps
    assert_close(exact, needed, f"jacobi_eigen(a, relative={relative}, max_sweeps={needed}).sweeps", "what it needs")
    try:
        outcome = jacobi_eigen(a, relative=relative, max_sweeps=needed - 1).sweeps
    except np.linalg.LinAlgError:
        outcome = "LinAlgError"
    call = f"jacobi_eigen(a, relative={relative}, max_sweeps={needed - 1}) of a matrix that needs {needed}, its sweeps,"
    assert_close(outcome, "LinAlgError", call, "its docstring: an error")


@pytest.mark.parametrize("n", [1, 2, 11])
def test_jacobi_eigen_keeps_float32(n):
    a = random_symmetric(n).astype(np.float32)
    found = jacobi_eigen(a)
    assert_decomposes(a, found, f"jacobi_eigen(a), n = {n}, in float32")
    assert found.off.dtype == np.float32, f"jacobi_eigen in float32 returned off in {found.off.dtype}"
    small = jacobi_eigen(np.array([[1.2, 1e-10], [1e-10, 2.7]], dtype=np.float32)).sweeps
    assert_close(small, 0, "jacobi_eigen([[1.2, 1e-10], [1e-10, 2.7]]).sweeps in float32", "1e-10 is below its eps")


def test_jacobi_eigen_takes_whole_numbers_and_symmetry_up_to_rounding():
    found = jacobi_eigen(np.array([[2, 2], [2, -1]]))
    assert_close(found.values, [-2.0, 3.0], "jacobi_eigen([[2, 2], [2, -1]]).values", "by hand", rtol=1e-12)
    a = random_symmetric(6)
    skew = a * (1 + 4 * EPS * np.triu(np.ones((6, 6)), 1))
    assert_decomposes(skew, jacobi_eigen(skew), "jacobi_eigen of a matrix that is symmetric up to rounding")


def test_jacobi_eigen_leaves_its_matrix_alone():
    unchanged(jacobi_eigen, A3.copy())


# What is given: the checks of the arguments


@pytest.mark.given
@pytest.mark.parametrize("a", [np.ones((2, 3)), np.ones(2), np.zeros((0, 0)), np.array([[np.nan]]), [["a"]]])
def test_off_diagonal_norm_refuses_what_is_no_square_matrix(a):
    with pytest.raises(ValueError, match="a must"):
        off_diagonal_norm(a)


@pytest.mark.given
@pytest.mark.parametrize(
    "a", [np.ones((2, 3)), np.ones(2), np.zeros((0, 0)), np.array([[np.inf]]), np.array([[1.0, 2.0], [3.0, 1.0]])]
)
def test_largest_cosine_rotate_sweep_and_jacobi_eigen_refuse_what_is_no_symmetric_matrix(a):
    one = np.ones(1)
    for call in (
        largest_cosine,
        jacobi_eigen,
        lambda a: sweep(a, np.eye(2)),
        lambda a: rotate(a, np.array([0]), np.array([1]), one, one),
    ):
        with pytest.raises(ValueError, match="a must"):
            call(a)


@pytest.mark.given
@pytest.mark.parametrize("v", [np.eye(2), np.ones((3, 2)), np.full((3, 3), np.nan), np.ones(3)])
def test_sweep_refuses_rotations_that_do_not_fit(v):
    with pytest.raises(ValueError, match="v must"):
        sweep(A3, v)


@pytest.mark.given
@pytest.mark.parametrize(
    ("p", "q"), [([0], [0]), ([0, 1], [1, 2]), ([0, 1], [2]), ([0], [3]), ([-1], [1]), ([0.0], [1.0]), ([[0]], [[1]])]
)
def test_rotate_refuses_pairs_that_overlap_or_lie_outside(p, q):
    with pytest.raises(ValueError, match="p and q must"):
        rotate(A3, np.array(p), np.array(q), np.full(len(p), 0.8), np.full(len(p), 0.6))


@pytest.mark.given
def test_rotation_refuses_vectors_that_do_not_fit():
    good = np.ones(2)
    for i, name in enumerate(("a_pp", "a_qq", "a_pq")):
        for bad in (np.array([1.0, np.nan]), np.ones((2, 1)), np.zeros(0)):
            arguments = [good, good, good]
            arguments[i] = bad
            with pytest.raises(ValueError, match=f"{name} must"):
                rotation(*arguments)
    with pytest.raises(ValueError, match="a_pq must"):
        rotation(good, np.ones(3), good)


@pytest.mark.given
@pytest.mark.parametrize("n", [0, -2])
def test_rounds_refuses_fewer_than_one_number(n):
    with pytest.raises(ValueError, match="n must"):
        rounds(n)


@pytest.mark.given
def test_in_order_refuses_what_does_not_fit():
    for vectors in (np.eye(3), np.ones((2, 3)), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match="vectors must"):
            in_order(np.ones(2), vectors)
    with pytest.raises(ValueError, match="values must"):
        in_order(np.array([1.0, np.inf]), np.eye(2))


@pytest.mark.given
@pytest.mark.parametrize("max_sweeps", [0, -3])
def test_jacobi_eigen_refuses_to_make_no_sweeps(max_sweeps):
    with pytest.raises(ValueError, match="max_sweeps must"):
        jacobi_eigen(A3, max_sweeps=max_sweeps)
