"""Shared tests of linalg/svd/one_sided_jacobi: run on the reference, and on the learner's file.

Nothing here is random but seeded data. A computed decomposition has backward errors of a few n eps: each column goes through some
10 n rotations, whose rounding errors add up like a random walk, and never came to more than 4 n eps; the tests allow 50. Cases by
hand have few operations, and 1e-13 is hundreds of roundings. What is said of small singular values of badly scaled matrices is
measured against mpmath, with more digits than the matrix has decades.
"""

import itertools
import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, kahan, lauchli, with_singular_values
from mlpath.linalg.svd.one_sided_jacobi import (
    by_eigenvalues,
    column_norms,
    complete_basis,
    from_columns,
    rotation,
    settle_signs,
    svd,
    sweep,
)
from mlpath.testing import assert_close

RTOL = 1e-13
EPS = np.finfo(float).eps

G3 = np.array([[2.5, -0.7, 1.3], [0.4, 0.9, -2.1], [-1.6, 3.2, 0.8], [0.3, 1.1, -2.7]])


def random_matrix(n_rows, n_cols, seed=1):
    """Entries of both signs around a mean that is not zero."""
    return np.random.default_rng(seed).normal(0.3, 2, (n_rows, n_cols))


def of_rank(rank, n_rows, n_cols, seed=2):
    """A full matrix of this rank."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, rank)) @ rng.normal(size=(rank, n_cols))


def badly_scaled(n_rows, n_cols, decades, seed=3):
    """B D with a well conditioned B and D from 1 to 10^-decades, in a random order."""
    rng = np.random.default_rng(seed)
    b = rng.normal(size=(n_rows, n_cols))
    return b * 10.0 ** -rng.permutation(np.linspace(0, decades, n_cols))


def orthonormal(n_rows, n_cols, seed=4):
    """Random orthonormal columns."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n_rows, n_cols)))[0]


def cosine_of(x, y):
    """The cosine between two columns, of whatever size."""
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    return float(x @ y / np.sqrt(x @ x) / np.sqrt(y @ y))


def true_singular_values(a):
    """To 16 digits, by mpmath's own method with 100 digits more than those that the scaling of the tests uses up."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(350):
        found = mpmath.svd_r(mpmath.matrix(a.tolist()), compute_uv=False)
        return np.array([float(value) for value in found])


def assert_orthonormal(vectors, call, eps=EPS):
    """Fail unless the columns are orthonormal, up to rounding."""
    gap = np.abs(vectors.T @ vectors - np.eye(vectors.shape[1])).max(initial=0)
    assert gap <= 50 * len(vectors) * eps, (
        f"{call} is not orthonormal: products of its vectors differ from I by {gap:.3g}"
    )


def assert_decomposes(a, found, call, full=False):
    """Fail unless A = U S V', both are orthonormal, the values descend and are NumPy's, and signs are as the note has them."""
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
    assert error <= allowed, f"{call}: U S V' differs from A by {error:.3g} of its largest entry; (1) wants it equal"
    error = np.abs(s - np.linalg.svd(a, compute_uv=False)).max()
    assert error <= allowed, f"{call}.s differs from NumPy's by {error:.3g} of the largest entry of a"
    columns = list(u.T) + list(vt[k:])  # those of vt without a partner
    for j, x in enumerate(columns):
        assert x.max() >= np.abs(x).max() * (1 - 1e3 * eps), (
            f"{call}: {f'column {j} of u' if j < len(u.T) else 'a row of vt without partner'} is {x}; "
            "its entry of largest absolute value should be positive"
        )


def unchanged(function, *arguments):
    """Call the function, and fail if it wrote to an array that it was given."""
    before = [a.copy() for a in arguments]
    function(*arguments)
    for a, copy in zip(arguments, before):
        assert np.array_equal(a, copy), f"{function.__name__} changed an array that it was given"


# column_norms


def test_column_norms_are_the_lengths_of_columns():
    g = np.array([[2.5, -0.7], [0.4, 0.9], [-1.6, 3.2]])
    expected = [np.sqrt(2.5**2 + 0.4**2 + 1.6**2), np.sqrt(0.7**2 + 0.9**2 + 3.2**2)]
    assert_close(column_norms(g), expected, f"column_norms({g.tolist()})", "the lengths of its columns", rtol=RTOL)


def test_column_norms_of_huge_and_tiny_columns_side_by_side():
    d = np.array([1e-300, 3.0, 1e300, 1e-160, 1e160])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = column_norms(np.array([[1.2], [-0.9], [2.0]]) * d)
    assert_close(found, 2.5 * d, f"column_norms of the column (1.2, -0.9, 2) times {d.tolist()}", "lengths", rtol=RTOL)


def test_column_norms_of_zero_columns_are_0():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = column_norms(np.array([[0.0, 1.2, 0.0], [0.0, -0.9, 0.0]]))
    assert_close(found, [0.0, 1.5, 0.0], "column_norms([[0, 1.2, 0], [0, -0.9, 0]])", "its docstring", rtol=RTOL)


def test_column_norms_keep_float32_and_their_argument():
    found = column_norms(G3.astype(np.float32))
    assert found.dtype == np.float32, f"column_norms of float32 are {found.dtype}, expected float32"
    unchanged(column_norms, G3.copy())


# rotation


def test_rotation_makes_the_angle_of_equations_4_and_5():
    # 2.5 / 1.6 - 1.6 / 2.5 = 0.9225: tau = 0.75, -0.75, -0.75, 2.4, -2.4
    norm_p, norm_q = np.array([1.6, 1.6, 2.5, 1.6, 7.5]), np.array([2.5, 2.5, 1.6, 2.5, 4.8])
    cosine = np.array([0.615, -0.615, 0.615, 0.1921875, 0.1921875])
    t = np.array([0.5, -0.5, -0.5, 0.2, -0.2])
    c, s = rotation(norm_p, norm_q, cosine)
    call = f"rotation({norm_p.tolist()}, {norm_q.tolist()}, {cosine.tolist()})"
    assert_close(s, t / np.sqrt(1 + t**2), f"{call}, the sines", "equations (4) and (5)", rtol=1e-12)
    assert_close(c, 1 / np.sqrt(1 + t**2), f"{call}, the cosines", "equations (4) and (5)", rtol=1e-12)


def test_rotation_makes_random_pairs_orthogonal_by_the_smaller_angle():
    rng = np.random.default_rng(4)
    norm_p, norm_q, cosine = rng.uniform(0.1, 3, 200), rng.uniform(0.1, 3, 200), rng.uniform(-0.99, 0.99, 200)
    c, s = rotation(norm_p, norm_q, cosine)
    left = c * s * (norm_p**2 - norm_q**2) + (c**2 - s**2) * norm_p * norm_q * cosine
    worst = np.max(np.abs(left) / (norm_p**2 + norm_q**2))
    assert worst <= 1e-14, (
        f"after rotation(...) two columns have an inner product of {worst:.3g}, relative; (4) wants 0"
    )
    assert_close(c**2 + s**2, np.ones(200), "c^2 + s^2 of rotation(...)", "sine and cosine", rtol=1e-14)
    assert (c >= np.abs(s) - 1e-15).all(), "rotation(...) turned by more than 45 degrees: (5) takes the smaller angle"


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rotation_keeps_all_digits_of_tiny_angles(sign):
    # For angles below 1e-8 the sine is 1 / (2 tau) to 16 digits, and 2 tau is 0.9225 / cosine
    cosine = sign * 3.7 * np.array([1e-9, 1e-12, 1e-16, 1e-100, 1e-155, 1e-200, 1e-300])
    with np.errstate(all="ignore"):
        c, s = rotation(np.full(7, 1.6), np.full(7, 2.5), cosine)
    call = f"rotation of lengths 1.6 and 2.5 and the cosines {cosine.tolist()}, the sines"
    assert_close(s, cosine / 0.9225, call, "equation (5)", rtol=1e-12)
    assert_close(c, np.ones(7), "the cosines", "equation (5)", rtol=1e-14)


def test_rotation_of_lengths_that_differ_beyond_all_squares():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c, s = rotation(np.array([1e150, 1e-150, 2e90]), np.array([1e-150, 1e150, 1e-110]), np.array([0.6, 0.6, -0.7]))
    call = "rotation([1e150, 1e-150, 2e90], [1e-150, 1e150, 1e-110], [0.6, 0.6, -0.7])"
    assert_close(s, [-0.6e-300, 0.6e-300, 0.35e-200], f"{call}, the sines", "equation (5)", rtol=1e-12)
    assert_close(c, np.ones(3), f"{call}, the cosines", "equation (5)")


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_rotation_does_not_depend_on_the_scale_of_both_lengths(scale):
    c, s = rotation(scale * np.array([1.6]), scale * np.array([2.5]), np.array([0.615]))
    call = f"rotation({scale:g} * [1.6], {scale:g} * [2.5], [0.615])"
    assert_close(c, [2 / np.sqrt(5)], f"{call}, the cosine", "equation (5)", rtol=1e-12)
    assert_close(s, [1 / np.sqrt(5)], f"{call}, the sine", "equation (5)", rtol=1e-12)


def test_rotation_of_equally_long_columns_is_by_45_degrees():
    c, s = rotation(np.array([2.7, 1.4]), np.array([2.7, 1.4]), np.array([1e-20, -0.3]))
    half = np.full(2, np.sqrt(0.5))
    assert_close(c, half, "the cosines of rotation([2.7, 1.4], [2.7, 1.4], [1e-20, -0.3])", "(5), tau = 0", rtol=RTOL)
    assert_close(np.abs(s), half, "their sines, by absolute value,", "(5), tau = 0", rtol=RTOL)


def test_rotation_of_orthogonal_columns_is_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c, s = rotation(np.array([2.7, 2.7, 0.0, 0.0, 1e300]), np.array([1.3, 2.7, 0.0, 1.3, 1e-300]), np.zeros(5))
    assert_close(c, np.ones(5), "the cosines of rotation(..., [0, 0, 0, 0, 0])", "its docstring")
    assert_close(s, np.zeros(5), "the sines of rotation(..., [0, 0, 0, 0, 0])", "its docstring")


def test_rotation_keeps_float32():
    c, s = rotation(*np.array([[1.6, 2.0], [2.5, 2.0], [0.615, 0.0]], dtype=np.float32))
    for part, name in ((c, "cosines"), (s, "sines")):
        assert part.dtype == np.float32, f"rotation of float32 arrays returned {name} of {part.dtype}, expected float32"
    expected = np.array([1 / np.sqrt(5), 0.0])
    assert_close(s, expected, "rotation of float32 arrays", "(5)", rtol=1e-5, tolerance="a float32 has 7 digits")


# sweep


def test_sweep_makes_two_columns_orthogonal():
    # lengths 1.6 and 2.5, cosine 0.8: tau = 0.9225 / 1.6
    g = np.array([[1.6, 2.0], [0.0, 1.5], [0.0, 0.0]])
    tau = 0.9225 / 1.6
    t = 1 / (tau + np.hypot(1, tau))
    c, s = 1 / np.hypot(1, t), t / np.hypot(1, t)
    turn = np.array([[c, s], [-s, c]])
    found, v, largest = sweep(g, np.eye(2))
    call = f"sweep({g.tolist()}, I)"
    assert_close(found, g @ turn, f"{call}, its g", "equation (3)", rtol=1e-12, atol=1e-15)
    assert_close(v, turn, f"{call}, its v", "equation (3)", rtol=1e-12)
    assert_close(largest, 0.8, f"{call}, its largest cosine", "equation (2)", rtol=1e-12)


def test_sweep_multiplies_both_by_the_same_rotations():
    v = orthonormal(3, 3)
    g, turned, _ = sweep(G3, v)
    assert_close(g @ turned.T, G3 @ v.T, "g v' after sweep(g, v)", "(3): it stays what it was", rtol=0, atol=1e-13)
    assert_orthonormal(turned, "v after sweep(g, v)")
    change = np.abs(turned - v).max()
    assert change > 0.1, f"sweep(g, v) changed v by {change:.3g} only: its columns are rotated as those of g"


@pytest.mark.parametrize("n_cols", [3, 5, 8])
def test_sweep_leaves_its_last_pair_orthogonal(n_cols):
    # Whatever the order of the pairs, nothing happens to the last one after its own rotation.
    g, _, _ = sweep(random_matrix(9, n_cols), np.eye(n_cols))
    cosines = [abs(cosine_of(g[:, i], g[:, j])) for i, j in itertools.combinations(range(n_cols), 2)]
    assert min(cosines) <= 1e-14, (
        f"after a sweep of {n_cols} columns the smallest of all cosines is {min(cosines):.3g}; "
        "the pair rotated last should be orthogonal, by (4) from the columns as they then were"
    )


@pytest.mark.parametrize("n_cols", [2, 3, 4])
def test_sweep_takes_every_pair(n_cols):
    for i, j in itertools.combinations(range(n_cols), 2):
        g = orthonormal(7, n_cols) * np.linspace(1.3, 2.2, n_cols)
        g[:, j] += 0.7 * g[:, i]
        found, _, largest = sweep(g, np.eye(n_cols))
        left = max(abs(cosine_of(found[:, k], found[:, m])) for k, m in itertools.combinations(range(n_cols), 2))
        call = f"sweep of {n_cols} columns, of which only {i} and {j} are not orthogonal,"
        assert left <= 1e-13, f"{call} left a cosine of {left:.3g}: each pair is rotated once"
        assert_close(largest, cosine_of(g[:, i], g[:, j]), f"{call} its largest cosine", "equation (2)", rtol=1e-12)


def test_sweep_returns_the_largest_cosine_by_absolute_value():
    g = np.zeros((4, 4))
    g[:2, :2], g[2:, 2:] = [[1.6, 2.0], [0.0, 1.5]], [[-0.56, 2.0], [1.92, 0.0]]  # cosines 0.8 and -0.28
    for sign, order in itertools.product((1, -1), ([0, 1, 2, 3], [2, 3, 0, 1], [0, 2, 1, 3])):
        largest = sweep(g[:, order] * [1, 1, 1, sign], np.eye(4))[2]
        assert_close(
            largest, 0.8, f"sweep of columns {order} with cosines 0.8 and -0.28, its largest", "(2)", rtol=1e-12
        )
    largest = sweep(g[:2, :2] * [1, -1], np.eye(2))[2]
    assert_close(largest, 0.8, "sweep of two columns with the cosine -0.8, its largest", "equation (2)", rtol=1e-12)


def test_sweep_has_nothing_to_do_with_orthogonal_columns():
    g = np.array([[0.0, 1.7, 0.0], [-2.3, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.9]])
    found, v, largest = sweep(g, np.eye(3))
    assert_close(found, g, "g of sweep(g, I) with orthogonal columns", "(5): c = 1, s = 0")
    assert_close(v, np.eye(3), "v of sweep(g, I) with orthogonal columns", "(5): c = 1, s = 0")
    assert_close(largest, 0.0, "the largest cosine", "equation (2)")


def test_sweep_of_one_column_is_no_change():
    g = np.array([[1.2], [-0.9]])
    found, v, largest = sweep(g, np.array([[-1.0]]))
    assert_close(found, g, "g of sweep([[1.2], [-0.9]], [[-1]])", "there is no pair")
    assert_close(v, [[-1.0]], "v of sweep([[1.2], [-0.9]], [[-1]])", "there is no pair")
    assert_close(largest, 0.0, "the largest cosine", "its docstring")


def test_sweep_leaves_zero_columns_alone():
    g = np.array([[1.6, 0.0, 2.0, 0.0], [0.0, 0.0, 1.5, 0.0], [0.0, 0.0, 0.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, v, largest = sweep(g, np.eye(4))
    assert_close(
        found[:, [1, 3]], np.zeros((3, 2)), "two zero columns of g after sweep(g, I)", "(2): their cosines are 0"
    )
    assert_close(v[:, [1, 3]], np.eye(4)[:, [1, 3]], "these columns of v after sweep(g, I)", "(2): cosines of 0")
    assert_close(largest, 0.8, "the largest cosine of sweep(g, I)", "equation (2)", rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-250, 1e-120, 1e-20, 1e20, 1e120])
def test_sweep_keeps_the_digits_of_a_column_in_other_units(unit):
    # What is left of (2, 1.5, 0.7) without its part along (1.6, 0, 0); the rest of the angle is beyond rounding.
    g = np.array([[1.6, 2.0 * unit], [0.0, 1.5 * unit], [0.0, 0.7 * unit]])
    with np.errstate(all="ignore"):
        found, _, largest = sweep(g, np.eye(2))
    call = f"sweep of (1.6, 0, 0) and {unit:g} * (2, 1.5, 0.7)"
    assert_close(largest, 2 / np.sqrt(6.74), f"{call}, the cosine", "equation (2)", rtol=1e-12)
    if unit < 1:
        assert_close(
            found[1:, 1] / unit, [1.5, 0.7], f"{call}, its second column, from row 1, over {unit:g}", "(3)", rtol=1e-12
        )
        assert abs(found[0, 1]) <= 1e-14 * unit, f"{call}: the second column still has {found[0, 1]:.3g} of the first"
    else:
        left = abs(cosine_of(found[:, 0], found[:, 1]))
        assert left <= 1e-14, f"{call} left a cosine of {left:.3g}; (4) makes it 0"


def test_sweep_keeps_float32_and_its_arguments():
    g, v, _ = sweep(G3.astype(np.float32), np.eye(3, dtype=np.float32))
    for part, name in ((g, "g"), (v, "v")):
        assert part.dtype == np.float32, f"sweep in float32 returned {name} in {part.dtype}"
    unchanged(sweep, G3.copy(), orthonormal(3, 3))


# complete_basis


@pytest.mark.parametrize(("n_rows", "n_given", "n_columns"), [(1, 0, 1), (2, 1, 2), (5, 2, 4), (9, 0, 9), (30, 29, 30)])
def test_complete_basis_adds_orthonormal_columns(n_rows, n_given, n_columns):
    q = orthonormal(n_rows, n_given)
    found = complete_basis(q, n_columns)
    call = f"complete_basis of {n_given} columns in {n_rows} dimensions, to {n_columns}"
    assert_close(found[:, :n_given], q, f"{call}, the first of them", "its docstring: unchanged")
    assert_orthonormal(found, call)


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("tilt", [0.0, 1e-14, 1e-9, 1e-3])
def test_complete_basis_where_coordinate_axes_nearly_lie_in_the_span(n, tilt):
    # All axes but the last, all turned a little towards it by one reflection.
    w = np.full(n, tilt)
    w[-1] = 1
    mirror = np.eye(n) - 2 * np.outer(w, w) / (w @ w)
    for q in (mirror[:, :-1], np.eye(n)[:, 1:] if tilt == 0 else mirror[::-1, :-1]):
        call = f"complete_basis of {n - 1} columns near {n - 1} of the coordinate axes, turned by {tilt:g},"
        assert_orthonormal(complete_basis(np.ascontiguousarray(q), n), call)


def test_complete_basis_of_the_complement_of_one_vector():
    # New columns of n - 1 that are orthogonal to (1, ..., 1): the missing one is spread over all axes.
    n = 40
    q = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
    found = complete_basis(q, n)
    call = f"complete_basis of what is orthogonal to (1, ..., 1), n = {n},"
    assert_close(
        np.abs(found[:, -1]), np.full(n, n**-0.5), f"{call} absolute values of the last column", "", rtol=1e-12
    )
    assert_orthonormal(found, call)


def test_complete_basis_with_nothing_to_add():
    q = orthonormal(6, 4)
    assert_close(complete_basis(q, 4), q, "complete_basis of 4 columns, to 4", "its docstring: unchanged")


def test_complete_basis_keeps_float32_and_its_argument():
    found = complete_basis(orthonormal(6, 2).astype(np.float32), 6)
    assert found.dtype == np.float32, f"complete_basis of float32 columns is {found.dtype}, expected float32"
    assert_orthonormal(found, "complete_basis of float32 columns", np.finfo(np.float32).eps)
    q = orthonormal(5, 2)
    unchanged(lambda q: complete_basis(q, 4), q)
    complete_basis(q, 2)[0, 0] = 7.0
    assert q[0, 0] != 7.0, "complete_basis(q, 2) returned its argument itself: whoever changes one changes the other"


# from_columns


def test_from_columns_divides_by_lengths_in_descending_order():
    u = np.array([[0.6, 0.0, -0.8], [0.0, 1.0, 0.0], [0.8, 0.0, 0.6], [0.0, 0.0, 0.0]])
    v = orthonormal(3, 3)
    found_u, s, vt = from_columns(u * [1.7, 4.2, 2.3], v)
    call = "from_columns of u * [1.7, 4.2, 2.3] and v"
    assert_close(s, [4.2, 2.3, 1.7], f"{call}, its s", "equation (1)", rtol=RTOL)
    assert_close(found_u, u[:, [1, 2, 0]], f"{call}, its u", "equation (1)", rtol=RTOL)
    assert_close(vt, v[:, [1, 2, 0]].T, f"{call}, its vt", "equation (1)")


@pytest.mark.parametrize("zeros", [[1], [0, 2], [0, 1, 2]])
def test_from_columns_finds_directions_for_zero_columns(zeros):
    g, v = orthonormal(5, 3) * [1.7, 4.2, 2.3], orthonormal(3, 3)
    g[:, zeros] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        u, s, vt = from_columns(g, v)
    call = f"from_columns with zero columns {zeros}"
    assert_close(s[3 - len(zeros) :], np.zeros(len(zeros)), f"the last of s of {call}", "lengths of 0")
    assert_close(u * s @ vt, g @ v.T, f"u s vt of {call}", "equation (1)", rtol=0, atol=1e-13)
    assert_orthonormal(u, f"u of {call}")
    assert_orthonormal(vt.T, f"vt of {call}")


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_from_columns_of_any_length(scale):
    u = orthonormal(4, 2)
    found, s, _ = from_columns(u * [1.5 * scale, 2.5], np.eye(2))
    order = [0, 1] if scale > 1 else [1, 0]
    call = f"from_columns with lengths {1.5 * scale:g} and 2.5"
    assert_close(s, np.array([1.5 * scale, 2.5])[order], f"{call}, its s", "equation (1)", rtol=RTOL)
    assert_close(found, u[:, order], f"{call}, its u", "equation (1)", rtol=RTOL)


def test_from_columns_keeps_float32_and_its_arguments():
    g, v = orthonormal(4, 2) * [1.7, 4.2], orthonormal(2, 2)
    for part in from_columns(g.astype(np.float32), v.astype(np.float32)):
        assert part.dtype == np.float32, f"from_columns in float32 returned an array of {part.dtype}"
    unchanged(from_columns, g, v)


# settle_signs


def test_settle_signs_turns_pairs_of_vectors():
    u = np.array([[0.2, -0.9, 0.1], [-0.8, 0.3, 0.7], [0.5, 0.4, -0.6]])
    vt = np.array([[0.3, -0.7], [-0.9, 0.1], [0.4, 0.6]])
    # Row 2 of vt has no say: it belongs to column 2 of u, whose largest entry is positive.
    found_u, found_vt = settle_signs(u, vt)
    assert_close(found_u, u * [-1, -1, 1], f"settle_signs({u.tolist()}, {vt.tolist()}), its u", "its docstring")
    assert_close(
        found_vt, vt * [[-1], [-1], [1]], f"settle_signs({u.tolist()}, {vt.tolist()}), its vt", "its docstring"
    )


def test_settle_signs_of_vectors_without_a_partner():
    u = np.array([[0.2, 0.3, 0.1], [-0.8, -0.9, 0.7], [0.5, 0.4, -0.6]])
    vt = np.array([[0.3, -0.7]])
    found_u, found_vt = settle_signs(u, vt)
    assert_close(found_u, u * [-1, -1, 1], "settle_signs with two more columns in u, its u", "its docstring")
    assert_close(found_vt, -vt, "settle_signs with two more columns in u, its vt", "its docstring")
    found_u, found_vt = settle_signs(vt.T, u.T)
    assert_close(found_u, -vt.T, "settle_signs with two more rows in vt, its u", "its docstring")
    assert_close(found_vt, u.T * [[-1], [-1], [1]], "settle_signs with two more rows in vt, its vt", "its docstring")


def test_settle_signs_goes_by_the_first_of_equal_entries():
    u = np.array([[0.5, -0.5, 0.1], [-0.5, 0.5, -0.7], [0.1, -0.1, 0.7]])
    found_u, found_vt = settle_signs(u, np.eye(3))
    assert_close(found_u, u * [1, -1, -1], f"settle_signs({u.tolist()}, I), its u", "its docstring: the first counts")
    assert_close(found_vt, np.diag([1.0, -1, -1]), f"settle_signs({u.tolist()}, I), its vt", "its docstring")


def test_settle_signs_keeps_float32_and_its_arguments():
    u, vt = -orthonormal(5, 3), orthonormal(3, 3)
    for part in settle_signs(u.astype(np.float32), vt.astype(np.float32)):
        assert part.dtype == np.float32, f"settle_signs in float32 returned an array of {part.dtype}"
    unchanged(settle_signs, u, vt)


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
    "two equal columns": random_matrix(6, 3)[:, [0, 1, 0, 2]],
    "equal singular values": with_singular_values([2.0, 2.0, 0.5, 0.5], 6, np.random.default_rng(0)),
    "near 1e-300": 1e-300 * random_matrix(7, 4),
    "near 1e-150": 1e-150 * random_matrix(4, 7),
    "near 1e150": 1e150 * random_matrix(7, 4),
    "near 1e300": 1e300 * random_matrix(4, 7),
    "rank 2 near 1e-300": 1e-300 * of_rank(2, 7, 5),
    "rank 2 near 1e150": 1e150 * of_rank(2, 5, 7),
    "Hilbert": hilbert(9, 6),
    "Lauchli": lauchli(4, 1e-9),
    "Kahan": kahan(7),
    "columns from 1 to 1e-200": badly_scaled(6, 4, 200),
}


@pytest.mark.parametrize("name", MATRICES)
def test_svd_decomposes_whatever_matrix(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = svd(MATRICES[name], max_sweeps=20)
    assert_decomposes(MATRICES[name], found, f"svd(a), a {name},")


@pytest.mark.parametrize(
    "name",
    ["tall", "wide", "square", "one column", "one row", "zeros, tall", "zeros, wide", "rank 2, tall", "rank 2, wide"],
)
def test_svd_completes_both_factors_in_the_full_form(name):
    found = svd(MATRICES[name], full=True, max_sweeps=20)
    assert_decomposes(MATRICES[name], found, f"svd(a, full=True), a {name},", full=True)


def test_svd_decomposes_larger_matrices():
    a = random_matrix(24, 16)
    assert_decomposes(a, svd(a, max_sweeps=20), "svd of a 24 x 16 matrix")


@pytest.mark.parametrize("decades", [8, 150])
def test_svd_keeps_the_digits_of_small_singular_values(decades):
    # The pseudoinverse of B has a norm of about 2, and (7) allows a few dozen eps; 1e-13 is 450 eps.
    a = badly_scaled(7, 4, decades)
    expected = true_singular_values(a)
    call = f"svd(B D).s with D from 1 to 1e-{decades}"
    assert_close(svd(a).s, expected, call, "(7): relatively right", rtol=1e-13)
    assert_close(svd(a.T).s, expected, f"{call}, of the transpose,", "(7): relatively right", rtol=1e-13)
    square = badly_scaled(4, 4, decades)
    expected = true_singular_values(square)
    assert_close(svd(square).s, expected, f"{call}, square,", "(7): relatively right", rtol=1e-12)


def test_svd_keeps_the_digits_of_lauchlis_small_singular_values():
    # A'A is eps^2 I plus a matrix of ones: its eigenvalues are n + eps^2 and eps^2.
    for epsilon in (1e-5, 1e-9, 1e-15):
        expected = np.sqrt([3 + epsilon**2, epsilon**2, epsilon**2])
        assert_close(
            svd(lauchli(3, epsilon)).s[0], expected[0], f"svd(lauchli(3, {epsilon:g})).s[0]", "A'A", rtol=1e-13
        )
        error = np.abs(svd(lauchli(3, epsilon)).s - expected).max()
        assert error <= 100 * EPS, f"svd(lauchli(3, {epsilon:g})).s differs by {error:.3g} from {expected}"


def test_svd_counts_its_sweeps():
    for name in ("diagonal, ascending", "a single number", "zeros, tall", "one row"):
        assert_close(svd(MATRICES[name]).sweeps, 1, f"svd(a).sweeps, a {name}", "one sweep finds nothing to do")
    found = svd(np.array([[1.6, 2.0], [0.0, 1.5]])).sweeps
    assert_close(found, 2, "svd([[1.6, 2], [0, 1.5]]).sweeps", "the second sweep finds nothing to do")
    found = svd(random_matrix(16, 10)).sweeps
    assert 4 <= found <= 14, f"svd of a random 16 x 10 matrix took {found} sweeps; 6 to 9 are usual"


def test_svd_stops_where_a_cosine_is_rounding():
    # Two columns of 16 rows: a cosine of 8 eps is below 16 eps, one of 40 eps is not.
    a = np.zeros((16, 2))
    a[0], a[1, 1] = [1.0, 8 * EPS], 1.0
    assert_close(svd(a).sweeps, 1, "svd of two columns of 16 rows, cosine 8 eps, .sweeps", "equation (6)")
    a[0, 1] = 40 * EPS
    assert_close(svd(a).sweeps, 2, "svd of two columns of 16 rows, cosine 40 eps, .sweeps", "equation (6)")
    assert_close(svd(a.T).sweeps, 2, "svd of its transpose, .sweeps", "equation (6), of the longer side")
    a[0, 1] = 8 * EPS
    assert_close(
        svd(a.T).sweeps, 1, "svd of the transpose with cosine 8 eps, .sweeps", "equation (6), of the longer side"
    )


def test_svd_raises_where_the_sweeps_do_not_suffice():
    a = random_matrix(5, 3)
    needed = svd(a).sweeps
    exact = svd(a, max_sweeps=needed).sweeps
    assert_close(exact, needed, f"svd(a, max_sweeps={needed}).sweeps", "what it needs")
    try:
        outcome = svd(a, max_sweeps=needed - 1).sweeps
    except np.linalg.LinAlgError:
        outcome = "LinAlgError"
    call = f"svd(a, max_sweeps={needed - 1}) of a matrix that needs {needed}, its sweeps,"
    assert_close(outcome, "LinAlgError", call, "its docstring: an error")


@pytest.mark.parametrize(("n_rows", "n_cols", "full"), [(7, 4, True), (4, 7, False), (1, 1, False)])
def test_svd_keeps_float32(n_rows, n_cols, full):
    a = random_matrix(n_rows, n_cols).astype(np.float32)
    assert_decomposes(a, svd(a, full=full), f"svd(a, full={full}) of a {n_rows} x {n_cols} matrix in float32", full)


def test_svd_goes_by_the_epsilon_of_float32():
    a = np.array([[1.0, 1e-8], [0.0, 1.0]], dtype=np.float32)
    assert_close(svd(a).sweeps, 1, "svd([[1, 1e-8], [0, 1]]).sweeps in float32", "(6): 1e-8 is below its eps")
    assert_decomposes(np.zeros((3, 2), np.float32), svd(np.zeros((3, 2), np.float32)), "svd of zeros in float32")


def test_svd_takes_whole_numbers_and_leaves_its_matrix_alone():
    found = svd(np.array([[3, 0], [4, 5]]))
    assert_close(found.s, np.sqrt([45, 5]), "svd([[3, 0], [4, 5]]).s", "the worked example", rtol=RTOL)
    unchanged(svd, G3.copy())
    unchanged(svd, np.eye(3))


# by_eigenvalues


@pytest.mark.parametrize("matrix", ["gram", "dilation"])
@pytest.mark.parametrize("name", MATRICES)
def test_by_eigenvalues_agrees_up_to_what_it_loses(name, matrix):
    a = MATRICES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = by_eigenvalues(a, matrix)
    call = f"by_eigenvalues(a, {matrix!r}), a {name},"
    assert found.shape == (min(a.shape),), f"{call} has the shape {found.shape}, expected {(min(a.shape),)}"
    assert (found >= 0).all(), f"{call} has a negative value: {found}"
    assert (np.diff(found) <= 0).all(), f"{call} does not descend: {found}"
    size = float(np.abs(a).max()) or 1.0
    s, found = np.linalg.svd(a / size, compute_uv=False), found / size
    allowed = 50 * max(a.shape) * EPS * s[0]
    error = np.abs(found**2 - s**2).max() / (s[0] or 1) if matrix == "gram" else np.abs(found - s).max()
    squares = "their squares" if matrix == "gram" else "the values"
    assert error <= allowed, (
        f"{call} returned {found} times {size:g}; expected {s}: {squares} differ by {error:.3g}, relative"
    )


def test_by_eigenvalues_of_the_gram_matrix_loses_half_the_digits():
    # Rounded to 16 digits, A'A is a matrix of ones, and 1e-9 does not occur in it.
    found = by_eigenvalues(lauchli(3, 1e-9), "gram")[1:]
    assert (np.abs(found / 1e-9 - 1) > 1e-3).all(), (
        f"by_eigenvalues(lauchli(3, 1e-9), 'gram')[1:] returned {found}: the right values, which A'A in (8) does not know"
    )


@pytest.mark.parametrize("epsilon", [1e-6, 1e-9, 1e-12])
def test_by_eigenvalues_of_the_dilation_keeps_what_the_gram_matrix_loses(epsilon):
    found = by_eigenvalues(lauchli(3, epsilon), "dilation")
    error = np.abs(found[1:] - epsilon).max()
    assert error <= 100 * EPS, (
        f"by_eigenvalues(lauchli(3, {epsilon:g}), 'dilation')[1:] returned {found[1:]}; expected {epsilon:g} up to 1e-14 by (9)"
    )


@pytest.mark.parametrize("matrix", ["gram", "dilation"])
def test_by_eigenvalues_keeps_float32_and_its_argument(matrix):
    found = by_eigenvalues(G3.astype(np.float32), matrix)
    assert found.dtype == np.float32, f"by_eigenvalues(a, {matrix!r}) in float32 returned {found.dtype}"
    zeros = by_eigenvalues(np.zeros((2, 3), np.float32), matrix)
    assert zeros.dtype == np.float32, f"by_eigenvalues of zeros in float32 returned {zeros.dtype}"
    unchanged(lambda a: by_eigenvalues(a, matrix), G3.copy())


# What is given: the checks of the arguments

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
def test_column_norms_sweep_and_from_columns_refuse_what_is_no_matrix(bad):
    for call in (column_norms, lambda g: sweep(g, np.eye(2)), lambda g: from_columns(g, np.eye(2))):
        with pytest.raises(ValueError, match="g must"):
            call(bad)


@pytest.mark.given
@pytest.mark.parametrize("bad", BAD_MATRICES)
def test_svd_by_eigenvalues_and_settle_signs_refuse_what_is_no_matrix(bad):
    for call in (svd, lambda a: by_eigenvalues(a, "gram")):
        with pytest.raises(ValueError, match="a must"):
            call(bad)
    with pytest.raises(ValueError, match="u must"):
        settle_signs(bad, np.eye(2))
    with pytest.raises(ValueError, match="vt must"):
        settle_signs(np.eye(2), bad)


@pytest.mark.given
@pytest.mark.parametrize("v", [np.eye(2), np.ones((3, 2)), np.full((3, 3), np.nan), np.ones(3)])
def test_sweep_and_from_columns_refuse_rotations_that_do_not_fit(v):
    for function in (sweep, from_columns):
        with pytest.raises(ValueError, match="v must"):
            function(G3, v)


@pytest.mark.given
def test_from_columns_refuses_more_columns_than_rows():
    with pytest.raises(ValueError, match="g must"):
        from_columns(np.ones((2, 3)), np.eye(3))


@pytest.mark.given
def test_rotation_refuses_what_does_not_fit():
    good = np.ones(2)
    for i in range(3):
        for bad in (np.array([1.0, np.nan]), np.ones((2, 1)), np.ones(3), np.array(1.0)):
            arguments = [good, good, good]
            arguments[i] = bad
            with pytest.raises(ValueError, match="cosine must"):
                rotation(*arguments)


@pytest.mark.given
@pytest.mark.parametrize("bad", [np.ones(3), np.array([[np.nan]]), np.zeros((0, 0)), np.array([[1]])])
def test_complete_basis_refuses_what_is_no_matrix_of_floats(bad):
    with pytest.raises(ValueError, match="q must"):
        complete_basis(bad, 1)


@pytest.mark.given
def test_complete_basis_refuses_what_is_not_orthonormal_and_impossible_numbers():
    with pytest.raises(ValueError, match="q must"):
        complete_basis(np.ones((3, 2)), 3)
    for n_columns in (1, 4):
        with pytest.raises(ValueError, match="n_columns must"):
            complete_basis(np.eye(3)[:, :2], n_columns)


@pytest.mark.given
@pytest.mark.parametrize("max_sweeps", [0, -3])
def test_svd_refuses_to_make_no_sweeps(max_sweeps):
    with pytest.raises(ValueError, match="max_sweeps must"):
        svd(G3, max_sweeps=max_sweeps)


@pytest.mark.given
@pytest.mark.parametrize("matrix", ["Gram", "", None])
def test_by_eigenvalues_refuses_other_matrices(matrix):
    with pytest.raises(ValueError, match="matrix must"):
        by_eigenvalues(G3, matrix)
