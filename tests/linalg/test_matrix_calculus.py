"""Shared tests of linalg/matrix_calculus: run on the reference, and on the learner's file.

Each gradient is held against central differences of its function along every axis, and against equation (1). Functions of entries of
size 1 with steps of 1e-6 leave errors near 1e-10; the tolerance is a hundred times that. Closed forms and identities are right to a
thousand roundings. No matrix is symmetric, and none square that need not be.
"""

import numpy as np
import pytest

from mlpath.linalg.matrix_calculus import (
    commutation_matrix,
    differential,
    gram_jacobian,
    inverse_gradient,
    kronecker,
    logdet_gradient,
    norm_gradient,
    quadratic_gradient,
    trace_gradient,
    vec,
)
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-11, "atol": 1e-12, "tolerance": "nothing but rounding separates them"}
DIFFERENCES = {"rtol": 1e-7, "atol": 1e-8, "tolerance": "central differences leave an error near 1e-10"}


def matrix(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def square(n, seed=0):
    """A matrix far from singular, and from symmetric."""
    return matrix(n, n, seed=seed) + 2 * np.sqrt(n) * np.eye(n)[::-1]


def slopes(f, x, h=1e-6):
    """The derivative of a number, or of a vector, by each entry of x: in the last axes those of x."""
    each = []
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = h
        each.append((np.asarray(f(x + move)) - f(x - move)) / (2 * h))
    return np.moveaxis(np.array(each), 0, -1).reshape(*np.shape(each[0]), *x.shape)


def leaves_alone(function, *arguments):
    copies = [np.copy(a) for a in arguments]
    function(*copies)
    for copy, argument in zip(copies, arguments, strict=True):
        assert np.array_equal(copy, argument), f"{function.__name__} changed its arguments"


def keeps_single_precision(function, *arguments):
    got = function(*(np.asarray(a, dtype=np.float32) for a in arguments)).dtype
    assert got == np.float32, f"{function.__name__} of float32 returned {got}, expected float32"


# quadratic_gradient


def test_quadratic_gradient_by_hand():
    a, b, x = np.array([[2.3, 0.7], [-1.9, 0.4]]), np.array([0.6, -1.7]), np.array([1.4, 2.2])
    expected = [2 * 2.3 * 1.4 + (0.7 - 1.9) * 2.2 + 0.6, (0.7 - 1.9) * 1.4 + 2 * 0.4 * 2.2 - 1.7]
    assert_close(quadratic_gradient(a, b, x), expected, "quadratic_gradient(A, b, x)", "equation (3)", **ROUNDING)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_quadratic_gradient_agrees_with_differences(n):
    a, b, x = matrix(n, n), matrix(n, seed=1), matrix(n, seed=2)
    expected = slopes(lambda x: x @ a @ x + b @ x, x)
    got = quadratic_gradient(a, b, x)
    assert_close(got, expected, f"quadratic_gradient of {n} variables", "differences of x'Ax + b'x", **DIFFERENCES)


def test_quadratic_gradient_keeps_to_its_arguments():
    leaves_alone(quadratic_gradient, matrix(3, 3), matrix(3), matrix(3))
    keeps_single_precision(quadratic_gradient, matrix(3, 3), matrix(3), matrix(3))


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "b", "x", "named"),
    [
        (np.ones((2, 3)), np.ones(3), np.ones(3), "a must"),
        (np.ones((3, 3)), np.ones(2), np.ones(3), "b must"),
        (np.ones((3, 3)), np.ones(3), np.ones(4), "x must"),
        (np.ones((3, 3)), np.ones(3), np.full(3, np.nan), "x must"),
    ],
)
def test_quadratic_gradient_refuses(a, b, x, named):
    with pytest.raises(ValueError, match=named):
        quadratic_gradient(a, b, x)


# trace_gradient


def test_trace_gradient_by_hand():
    got = trace_gradient(np.array([[1.3, 2.1]]), np.array([[3.2], [0.4], [-1.7]]))
    expected = np.outer([1.3, 2.1], [3.2, 0.4, -1.7])
    assert_close(got, expected, "trace_gradient(a row, a column)", "equation (4)", **ROUNDING)


@pytest.mark.parametrize(("p", "m", "n"), [(3, 4, 2), (2, 5, 5), (4, 1, 3), (1, 1, 1)])
def test_trace_gradient_agrees_with_differences(p, m, n):
    a, b, x = matrix(p, m), matrix(n, p, seed=1), matrix(m, n, seed=2)
    got = trace_gradient(a, b)
    assert got.shape == (m, n), (
        f"trace_gradient of {p} by {m} and {n} by {p} has the shape {got.shape}, expected ({m}, {n})"
    )
    expected = slopes(lambda x: np.trace(a @ x @ b), x)
    assert_close(got, expected, f"trace_gradient of {p} by {m} and {n} by {p}", "differences of tr(AXB)", **DIFFERENCES)


def test_trace_gradient_is_the_whole_change_of_a_linear_function():
    a, b, v = matrix(3, 4), matrix(2, 3, seed=1), 1e3 * matrix(4, 2, seed=2)
    change = differential(trace_gradient(a, b), v)
    assert_close(
        change, np.trace(a @ v @ b), "differential(trace_gradient(A, B), V)", "tr(AVB), equation (1)", **ROUNDING
    )


def test_trace_gradient_keeps_to_its_arguments():
    leaves_alone(trace_gradient, matrix(3, 4), matrix(2, 3))
    keeps_single_precision(trace_gradient, matrix(3, 4), matrix(2, 3))


@pytest.mark.given
@pytest.mark.parametrize(
    ("a", "b", "named"),
    [
        (np.ones((2, 3)), np.ones((3, 3)), "b must"),
        (np.ones(3), np.ones((3, 1)), "a must"),
        (np.ones((2, 3)), np.full((4, 2), np.inf), "b must"),
    ],
)
def test_trace_gradient_refuses(a, b, named):
    with pytest.raises(ValueError, match=named):
        trace_gradient(a, b)


# logdet_gradient


def test_logdet_gradient_by_hand():
    # det = 2.5 * 0.4 + 0.7 * 1.9 = 2.33; the derivative of log|det| by an entry is its cofactor over det.
    got = logdet_gradient(np.array([[2.5, 0.7], [-1.9, 0.4]]))
    assert_close(
        got, np.array([[0.4, 1.9], [-0.7, 2.5]]) / 2.33, "logdet_gradient([[2.5, 0.7], [-1.9, 0.4]])", "(5)", **ROUNDING
    )


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_logdet_gradient_agrees_with_differences(n):
    x = square(n)
    expected = slopes(lambda x: np.linalg.slogdet(x)[1], x)
    call = f"logdet_gradient of a {n} by {n} matrix with determinant {np.linalg.det(x):.3g}"
    assert_close(logdet_gradient(x), expected, call, "differences of log|det X|", **DIFFERENCES)


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_logdet_gradient_needs_no_determinant(scale):
    x = square(6)
    got = logdet_gradient(scale * x) * scale
    call = f"{scale:g} times logdet_gradient({scale:g} X)"
    assert_close(
        got, logdet_gradient(x), call, "logdet_gradient(X), though the determinant is out of range", **ROUNDING
    )


def test_logdet_gradient_refuses_a_singular_matrix():
    with pytest.raises(np.linalg.LinAlgError):
        logdet_gradient(np.array([[1.0, 2.0], [2.0, 4.0]]))


def test_logdet_gradient_keeps_to_its_argument():
    leaves_alone(logdet_gradient, square(4))
    keeps_single_precision(logdet_gradient, square(4))


@pytest.mark.given
@pytest.mark.parametrize("x", [np.ones((2, 3)), np.ones(3), np.full((2, 2), np.nan)])
def test_logdet_gradient_refuses(x):
    with pytest.raises(ValueError, match="x must"):
        logdet_gradient(x)


# inverse_gradient


def test_inverse_gradient_by_hand():
    # X has the inverse diag(0.4, 5), so that X^-T a = (0.68, -6) and X^-1 b = (1.2, 3.5).
    got = inverse_gradient(np.diag([2.5, 0.2]), np.array([1.7, -1.2]), np.array([3.0, 0.7]))
    expected = -np.outer([0.68, -6.0], [1.2, 3.5])
    assert_close(got, expected, "inverse_gradient(diag(2.5, 0.2), a, b)", "equation (6)", **ROUNDING)


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_inverse_gradient_agrees_with_differences(n):
    x, a, b = square(n), matrix(n, seed=1), matrix(n, seed=2)
    expected = slopes(lambda x: a @ np.linalg.solve(x, b), x)
    call = f"inverse_gradient of a {n} by {n} matrix"
    assert_close(inverse_gradient(x, a, b), expected, call, "differences of a'X^-1 b", **DIFFERENCES)


def test_inverse_gradient_refuses_a_singular_matrix():
    with pytest.raises(np.linalg.LinAlgError):
        inverse_gradient(np.array([[1.0, 2.0], [2.0, 4.0]]), np.ones(2), np.ones(2))


def test_inverse_gradient_keeps_to_its_arguments():
    leaves_alone(inverse_gradient, square(4), matrix(4), matrix(4, seed=1))
    keeps_single_precision(inverse_gradient, square(4), matrix(4), matrix(4, seed=1))


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "a", "b", "named"),
    [
        (np.ones((2, 3)), np.ones(2), np.ones(2), "x must"),
        (np.eye(3), np.ones(2), np.ones(3), "a must"),
        (np.eye(3), np.ones(3), np.ones(2), "b must"),
        (np.eye(3), np.ones(3), np.full(3, np.inf), "b must"),
    ],
)
def test_inverse_gradient_refuses(x, a, b, named):
    with pytest.raises(ValueError, match=named):
        inverse_gradient(x, a, b)


# norm_gradient

NORMS = {
    "frobenius": lambda x: np.linalg.norm(x),
    "spectral": lambda x: np.linalg.norm(x, 2),
    "nuclear": lambda x: np.linalg.norm(x, "nuc"),
}


def test_norm_gradient_of_frobenius_by_hand():
    x = np.array([[1.2, -0.4, 2.0], [0.6, 1.0, -2.2]])
    got = norm_gradient(x, "frobenius")
    assert_close(got, x / np.sqrt(11.8), "norm_gradient(X, 'frobenius')", "X over its norm, (7)", **ROUNDING)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (4, 4), (1, 3), (5, 1)])
def test_norm_gradient_agrees_with_differences(norm, shape):
    x = matrix(*shape)
    call = f"norm_gradient(X of shape {shape}, {norm!r})"
    assert_close(norm_gradient(x, norm), slopes(NORMS[norm], x), call, "differences of the norm", **DIFFERENCES)


@pytest.mark.parametrize("norm", NORMS)
def test_norm_gradient_times_the_matrix_is_the_norm(norm):
    x = matrix(5, 3)
    got = differential(norm_gradient(x, norm), x)
    assert_close(got, NORMS[norm](x), f"differential(norm_gradient(X, {norm!r}), X)", "the norm of X", **ROUNDING)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_norm_gradient_does_not_depend_on_the_size(norm, scale):
    x = matrix(5, 3)
    got = norm_gradient(scale * x, norm)
    assert_close(got, norm_gradient(x, norm), f"norm_gradient({scale:g} X, {norm!r})", "norm_gradient(X)", **ROUNDING)


@pytest.mark.parametrize("norm", NORMS)
def test_norm_gradient_keeps_to_its_argument(norm):
    x = matrix(4, 3)
    kept = x.copy()
    norm_gradient(x, norm)
    assert np.array_equal(x, kept), "norm_gradient changed its argument"
    got = norm_gradient(x.astype(np.float32), norm).dtype
    assert got == np.float32, f"norm_gradient(float32, {norm!r}) returned {got}, expected float32"


def test_norm_gradient_where_only_other_norms_have_corners():
    rank_one = np.outer([1.0, 2.0, -0.5], [0.4, 1.1])
    got = norm_gradient(rank_one, "spectral")
    expected = rank_one / np.linalg.norm(rank_one)
    assert_close(got, expected, "norm_gradient(rank one, 'spectral')", "X over its only singular value", **ROUNDING)
    assert_close(
        norm_gradient(rank_one, "frobenius"), expected, "norm_gradient(rank one, 'frobenius')", "(7)", **ROUNDING
    )
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert_close(
        norm_gradient(3 * rotation, "nuclear"), rotation, "norm_gradient(3 rotations, 'nuclear')", "(7)", **ROUNDING
    )


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "norm", "named"),
    [
        (np.zeros((2, 3)), "frobenius", "x must be where"),
        (np.zeros((2, 3)), "spectral", "x must be where"),
        (np.eye(3), "spectral", "x must be where"),
        (np.outer([1.0, 2.0, 3.0], [1.0, 1.0]), "nuclear", "x must be where"),
        (np.eye(3), "max", "norm must"),
        (np.ones(3), "nuclear", "x must have"),
        (np.full((2, 2), np.nan), "nuclear", "x must be finite"),
    ],
)
def test_norm_gradient_refuses(x, norm, named):
    with pytest.raises(ValueError, match=named):
        norm_gradient(x, norm)


# kronecker


def test_kronecker_by_hand():
    got = kronecker(np.array([[1.3, -2.0]]), np.array([[0.5, 1.1], [3.0, 0.7]]))
    expected = [[0.65, 1.43, -1.0, -2.2], [3.9, 0.91, -6.0, -1.4]]
    assert_close(got, expected, "kronecker([[1.3, -2]], [[0.5, 1.1], [3, 0.7]])", "equation (8)", **ROUNDING)


@pytest.mark.parametrize(("a", "b"), [((2, 3), (4, 5)), ((4, 1), (1, 3)), ((3, 3), (2, 2)), ((1, 1), (2, 5))])
def test_kronecker_agrees_with_numpy(a, b):
    a, b = matrix(*a), matrix(*b, seed=1)
    call = f"kronecker of the shapes {a.shape} and {b.shape}"
    assert_close(kronecker(a, b), np.kron(a, b), call, "equation (8)", **ROUNDING)


def test_kronecker_turns_products_into_one():
    a, x, b = matrix(3, 4), matrix(4, 2, seed=1), matrix(2, 5, seed=2)
    got = kronecker(b.T, a) @ vec(x)
    assert_close(got, vec(a @ x @ b), "kronecker(B', A) @ vec(X)", "vec(AXB), equation (9)", **ROUNDING)


def test_kronecker_gives_the_jacobian_of_the_inverse():
    x = square(3)
    inverse = np.linalg.inv(x)
    expected = slopes(lambda x: vec(np.linalg.inv(x)), x).reshape(9, 9)  # columns in the order of ravel
    expected = expected @ commutation_matrix(3, 3).T  # and now in that of vec
    got = -kronecker(inverse.T, inverse)
    assert_close(got, expected, "-kronecker(X^-T, X^-1)", "the Jacobian of the inverse, by differences", **DIFFERENCES)


def test_kronecker_keeps_to_its_arguments():
    leaves_alone(kronecker, matrix(2, 3), matrix(4, 2))
    keeps_single_precision(kronecker, matrix(2, 3), matrix(4, 2))


@pytest.mark.given
def test_kronecker_refuses():
    with pytest.raises(ValueError, match="a must"):
        kronecker(np.ones(3), np.ones((2, 2)))
    with pytest.raises(ValueError, match="b must"):
        kronecker(np.ones((2, 2)), np.full((2, 2), np.nan))


# commutation_matrix


def test_commutation_matrix_of_two_by_three():
    expected = np.eye(6)[[0, 2, 4, 1, 3, 5]]
    assert_close(commutation_matrix(2, 3), expected, "commutation_matrix(2, 3)", "equation (10)", atol=0)


@pytest.mark.parametrize(("m", "n"), [(2, 3), (3, 2), (4, 4), (1, 5), (6, 1), (5, 3)])
def test_commutation_matrix_transposes(m, n):
    x = matrix(m, n)
    got = commutation_matrix(m, n) @ vec(x)
    assert_close(got, vec(x.T), f"commutation_matrix({m}, {n}) @ vec(X)", "vec(X'), equation (10)", **ROUNDING)


def test_commutation_matrix_is_undone_by_its_transpose():
    k = commutation_matrix(4, 3)
    assert_close(
        k.T @ k, np.eye(12), "K'K for K = commutation_matrix(4, 3)", "the identity: K is a permutation", atol=0
    )
    assert_close(
        commutation_matrix(3, 4), k.T, "commutation_matrix(3, 4)", "the transpose of K: it transposes back", atol=0
    )


def test_commutation_matrix_exchanges_kronecker_factors():
    a, b = matrix(2, 3), matrix(4, 5, seed=1)
    got = commutation_matrix(4, 2) @ kronecker(a, b) @ commutation_matrix(3, 5)
    assert_close(got, kronecker(b, a), "K (A x B) K", "B x A", **ROUNDING)


@pytest.mark.given
@pytest.mark.parametrize(("m", "n", "named"), [(0, 2, "m must"), (2, -1, "n must")])
def test_commutation_matrix_refuses(m, n, named):
    with pytest.raises(ValueError, match=named):
        commutation_matrix(m, n)


# gram_jacobian


def test_gram_jacobian_of_a_column():
    got = gram_jacobian(np.array([[1.3], [-0.4], [2.2]]))
    assert_close(got, [[2.6, -0.8, 4.4]], "gram_jacobian of a column", "2 x', equation (11)", **ROUNDING)


def test_gram_jacobian_of_a_row():
    # X'X holds x1^2, x1 x2 twice and x2^2.
    got = gram_jacobian(np.array([[1.3, -0.4]]))
    expected = [[2.6, 0], [-0.4, 1.3], [-0.4, 1.3], [0, -0.8]]
    assert_close(got, expected, "gram_jacobian of a row", "the derivatives of all products", **ROUNDING)


@pytest.mark.parametrize("shape", [(4, 3), (2, 5), (3, 3), (6, 1)])
def test_gram_jacobian_gives_the_change_of_the_gram_matrix(shape):
    x, v = matrix(*shape), matrix(*shape, seed=1)
    got = gram_jacobian(x)
    rows, columns = shape[1] ** 2, shape[0] * shape[1]
    assert got.shape == (rows, columns), (
        f"gram_jacobian of {shape} has the shape {got.shape}, expected ({rows}, {columns})"
    )
    call = f"gram_jacobian(X of shape {shape}) @ vec(V)"
    assert_close(got @ vec(v), vec(v.T @ x + x.T @ v), call, "vec(V'X + X'V), equation (11)", **ROUNDING)


def test_gram_jacobian_agrees_with_differences():
    x = matrix(4, 3)
    by_rows = slopes(lambda x: vec(x.T @ x), x).reshape(9, 12)
    expected = by_rows @ commutation_matrix(4, 3)
    assert_close(gram_jacobian(x), expected, "gram_jacobian(X)", "differences of vec(X'X) by vec X", **DIFFERENCES)


def test_gram_jacobian_keeps_to_its_argument():
    leaves_alone(gram_jacobian, matrix(4, 3))
    keeps_single_precision(gram_jacobian, matrix(4, 3))


@pytest.mark.given
@pytest.mark.parametrize("x", [np.ones(3), np.full((2, 2), np.inf)])
def test_gram_jacobian_refuses(x):
    with pytest.raises(ValueError, match="x must"):
        gram_jacobian(x)
