"""Shared tests of linalg/gram_schmidt: run on the reference, and on the learner's file.

The bounds are those of equations (8) and (9), with n the number of columns, eps the distance from 1 to the next float, and
kappa the condition. The reference, and other right solutions, stay below a tenth of them on every matrix here:

    residual           2 n eps ||A||        orthogonality, CGS2      10 n eps
                                            orthogonality, MGS       n eps kappa
                                            orthogonality, CGS       n eps kappa^2

What tells the methods from one another are Läuchli's matrices with an epsilon whose square is lost in 1: the loss has a
closed form there, derived where it is used, which every order of summation gives to seven digits.
"""

import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, kahan, lauchli, with_singular_values
from mlpath.linalg.gram_schmidt import (
    classical_gram_schmidt,
    compare_losses,
    loss_of_orthogonality,
    modified_gram_schmidt,
    project_out,
    reorthogonalised_gram_schmidt,
)
from mlpath.testing import assert_close

RTOL = 1e-9
EPS = float(np.finfo(float).eps)

# Orthonormal columns by hand: those of a 3 x 3 orthogonal matrix, 0.6 times, above the same with its rows in another order.
SEVENTHS = np.array([[2.0, 3.0, 6.0], [3.0, -6.0, 2.0], [6.0, 2.0, -3.0]]) / 7
Q = np.vstack([0.6 * SEVENTHS, 0.8 * SEVENTHS[[1, 2, 0]]])
R = np.array([[3.5, -1.25, 2.125], [0.0, 1.75, -4.5], [0.0, 0.0, 0.625]])
A = Q @ R


def stretched(decades, n_rows=30, n_cols=12):
    """A matrix whose singular values fall from 1 to 10 to the minus `decades`."""
    return with_singular_values(np.geomspace(1, 10.0**-decades, n_cols), n_rows, np.random.default_rng(decades))


def independent(n_rows, n_cols):
    """A matrix of condition below 10, far from the origin and with columns of either sign."""
    rng = np.random.default_rng([n_rows, n_cols])
    return with_singular_values(np.linspace(5, 1, n_cols), n_rows, rng) * np.where(np.arange(n_cols) % 2, -1, 1)


SAMPLES = {
    "a random 30 x 12 matrix of condition 10": stretched(1),
    "a random 30 x 12 matrix of condition 1e3": stretched(3),
    "a random 30 x 12 matrix of condition 1e6": stretched(6),
    "a random 60 x 20 matrix of condition 1e7": stretched(7, 60, 20),
    "a random 12 x 12 matrix of condition 1e5": stretched(5, 12, 12),
    "a random 30 x 12 matrix of condition 1e12": stretched(12),
    "hilbert(6, 6)": hilbert(6, 6),
    "hilbert(20, 10)": hilbert(20, 10),
    "lauchli(6, 1e-5)": lauchli(6, 1e-5),
    "lauchli(6, 1e-9)": lauchli(6, 1e-9),
    "kahan(30), its columns reversed": kahan(30)[:, ::-1],
    "a 9 x 1 matrix": independent(9, 1),
    "a 1 x 1 matrix": np.array([[-2.5]]),
}
CONDITIONS = {name: float(np.linalg.cond(a)) for name, a in SAMPLES.items()}
each_sample = pytest.mark.parametrize("name", SAMPLES)
SHAPES = [(8, 5), (5, 5), (40, 15), (7, 1)]
SCALES = [1e-150, 1e150]


def loss(q):
    """The loss of orthogonality (7)."""
    return float(np.linalg.norm(np.eye(q.shape[1]) - q.T @ q, 2))


def by_numpy(a):
    """Householder's QR, with the signs that make the diagonal of R positive."""
    q, r = np.linalg.qr(a)
    signs = np.sign(np.diag(r))
    return q * signs, signs[:, None] * r


def factors(method, a, call, scale=1.0):
    """Call the method on scale * a; check shapes, the triangle and the residual (9); return Q, and R in units of a."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the numbers that come back say it better than NumPy's warning
        q, r = method(scale * a)
    n = a.shape[1]
    assert q.shape == a.shape, f"{call} returned a Q of shape {q.shape}, expected {a.shape}"
    assert r.shape == (n, n), f"{call} returned an R of shape {r.shape}, expected {(n, n)}"
    assert not np.tril(r, -1).any(), (
        f"{call} returned an R with {np.abs(np.tril(r, -1)).max():.2g} below its diagonal, expected exact zeros"
    )
    assert (np.diag(r) > 0).all(), f"{call} returned an R with the diagonal {np.diag(r)}, expected positive entries"
    lengths = np.linalg.norm(q, axis=0)
    assert_close(lengths, np.ones(n), f"the lengths of the columns of Q, from {call}", "equation (3)", rtol=1e-13)
    r = r / scale
    residual = np.linalg.norm(a - q @ r) / np.linalg.norm(a, 2)
    bound = 2 * n * EPS
    assert residual <= bound, (
        f"{call} left a residual ||A - QR|| of {residual:.2g} ||A||, expected at most {bound:.2g} by (9)"
    )
    return q, r


def check_by_hand(method, name):
    call = f"{name}({A.round(6).tolist()})"
    assert_close(method(A), (Q, R), call, "equation (2): the Q and R that were multiplied", rtol=RTOL, atol=1e-12)


def check_numpy(method, name, shape):
    a = independent(*shape)
    assert_close(
        method(a),
        by_numpy(a),
        f"{name}(a) of shape {shape}",
        "equation (2), by NumPy's reflections",
        rtol=RTOL,
        atol=1e-12,
    )


def check_units(method, name, scale):
    a = independent(9, 6)
    q, r = factors(method, a, f"{name}({scale:g} * a)", scale)
    assert_close(
        (q, r), by_numpy(a), f"Q and R / {scale:g} of {name}({scale:g} * a)", "those of a", rtol=RTOL, atol=1e-12
    )
    # The last remainders are 1e-6 of the column: their squares vanish, unless they are scaled.
    factors(method, hilbert(6, 6), f"{name}({scale:g} * hilbert(6, 6))", scale)


def check_columns_of_unlike_lengths(method, name):
    lengths = np.array([1e80, 1.0, 1e-120, 1e30])
    a = independent(9, 4)
    q, r = method(a * lengths)
    call = f"{name}(a * [1e80, 1, 1e-120, 1e30])"
    assert_close(
        q, by_numpy(a)[0], f"the Q of {call}", "that of a: (6) is relative to each column", rtol=RTOL, atol=1e-12
    )
    assert_close(
        r / lengths, by_numpy(a)[1], f"the R of {call}, columns divided by the same", "that of a", rtol=RTOL, atol=1e-12
    )


def check_dependent(method, name):
    """Columns that depend on those before them, to rounding; and the criterion (6) from either side."""
    a = independent(20, 4)
    for col, column in (
        (0, np.zeros(20)),
        (2, np.zeros(20)),
        (1, -3 * a[:, 0]),
        (3, 0.3 * a[:, 0] - 7 * a[:, 1] + 0.1 * a[:, 2]),
    ):
        dependent = a.copy()
        dependent[:, col] = column
        with pytest.raises(np.linalg.LinAlgError, match=f"column {col} "):
            method(dependent)
    q = np.linalg.qr(a)[0]
    threshold = 10 * 20 * EPS
    # A tenth of the threshold is still ten times the rounding of the projection.
    near = np.column_stack([a[:, :2], q[:, :2] @ [0.6, 0.8] + 0.1 * threshold * q[:, 2]])
    with pytest.raises(np.linalg.LinAlgError, match="column 2 "):
        method(near)
    near[:, 2] = q[:, :2] @ [0.6, 0.8] + 10 * threshold * q[:, 2]
    found = method(near)[1][2, 2]
    assert 5 * threshold < found < 15 * threshold, (
        f"{name} found an R with {found:.3g} for a column that is {10 * threshold:.3g} off the plane of the "
        "columns before it"
    )


def check_float32(method, name):
    a = stretched(1).astype(np.float32)
    q, r = method(a)
    assert q.dtype == np.float32, f"{name} of a float32 matrix returned a Q of {q.dtype}"
    assert r.dtype == np.float32, f"{name} of a float32 matrix returned an R of {r.dtype}"
    residual = np.linalg.norm(a - q @ r) / np.linalg.norm(a, 2)
    bound = 2 * 12 * float(np.finfo(np.float32).eps)
    assert residual <= bound, (
        f"{name} of a float32 matrix left a residual of {residual:.2g} ||A||, expected at most {bound:.2g} by (9)"
    )


def check_whole_numbers(method, name):
    a = np.array([[1, 2], [2, -3], [2, 5]])
    assert_close(method(a), by_numpy(a.astype(float)), f"{name}({a.tolist()})", "equation (2)", rtol=RTOL)


def check_unchanged(function, *arguments):
    before = [np.copy(argument) for argument in arguments]
    function(*arguments)
    for old, new in zip(before, arguments):
        assert np.array_equal(old, new), f"{function.__name__} changed an array that it was given"


# project_out


def test_project_out_splits_a_vector():
    v = np.array([1.5, -2.0, 4.0])
    q = SEVENTHS[:, :2]
    expected = (np.array([-6.0, -2.0, 3.0]) / 7, np.array([3.0, 3.5]))
    call = f"project_out({v.tolist()}, q) with the columns (2, 3, 6) / 7 and (3, -6, 2) / 7"
    assert_close(project_out(v, q), expected, call, "equation (1)", rtol=RTOL, atol=1e-14)


def test_project_out_leaves_something_orthogonal_that_adds_up_to_the_vector():
    v, q = np.random.default_rng(1).normal(2, 3, 40), np.linalg.qr(independent(40, 15))[0]
    w, h = project_out(v, q)
    assert h.shape == (15,), f"project_out of a vector and 15 columns returned coefficients of shape {h.shape}"
    assert_close(q.T @ w, np.zeros(15), "q.T @ remainder", "equation (1)", atol=1e-12)
    assert_close(w + q @ h, v, "remainder + q @ coefficients", "v, by equation (1)", rtol=RTOL)
    assert_close(
        w @ w + h @ h, v @ v, "the squared lengths of remainder and coefficients, added", "that of v", rtol=RTOL
    )


def test_project_out_with_nothing_to_project_on_returns_the_vector():
    v = np.array([1.5, -2.0, 4.0])
    assert_close(
        project_out(v, np.zeros((3, 0))), (v, np.zeros(0)), "project_out(v, q) with a q of shape (3, 0)", "equation (1)"
    )


def test_project_out_takes_every_coefficient_from_the_vector_itself():
    # These columns are orthogonal only roughly, which is what rounding does on a smaller scale.
    v = np.array([2.5, -1.0, 4.0])
    q = np.array([[1.0, 0.1], [0.0, 0.995], [0.02, 0.0]])
    h = np.array([2.58, -0.745])
    expected = (np.array([-0.0055, -0.258725, 3.9484]), h)
    call = f"project_out({v.tolist()}, {q.tolist()})"
    assert_close(
        project_out(v, q),
        expected,
        call,
        "equation (1): both coefficients are of v, not of what the first leaves",
        rtol=RTOL,
    )


@pytest.mark.parametrize("scale", SCALES)
def test_project_out_is_the_same_in_all_units(scale):
    v, q = np.array([1.5, -2.0, 4.0]), SEVENTHS[:, :1]
    w, h = project_out(scale * v, q)
    assert_close(
        (w / scale, h / scale), project_out(v, q), f"project_out({scale:g} * v, q) / {scale:g}", "that of v", rtol=RTOL
    )


def test_project_out_keeps_float32():
    w, h = project_out(np.ones(3, dtype=np.float32), SEVENTHS[:, :2].astype(np.float32))
    assert w.dtype == h.dtype == np.float32, f"project_out of float32 numbers returned {w.dtype} and {h.dtype}"


def test_project_out_leaves_its_arrays_alone():
    check_unchanged(project_out, np.array([1.5, -2.0, 4.0]), SEVENTHS[:, :2].copy())


# classical_gram_schmidt


def test_classical_gram_schmidt_finds_the_factors():
    check_by_hand(classical_gram_schmidt, "classical_gram_schmidt")


@pytest.mark.parametrize("shape", SHAPES)
def test_classical_gram_schmidt_agrees_with_numpy(shape):
    check_numpy(classical_gram_schmidt, "classical_gram_schmidt", shape)


@each_sample
def test_classical_gram_schmidt_loses_no_more_than_the_square_of_the_condition(name):
    a = SAMPLES[name]
    q, _ = factors(classical_gram_schmidt, a, f"classical_gram_schmidt of {name}")
    bound = a.shape[1] * EPS * CONDITIONS[name] ** 2
    assert loss(q) <= bound, (
        f"classical_gram_schmidt of {name} lost {loss(q):.2g} of orthogonality (7), expected at most {bound:.2g} by (8)"
    )


def test_classical_gram_schmidt_takes_its_coefficients_from_the_column_itself():
    # On the Hilbert matrix Q is far from orthogonal, so that the coefficients of (4) are others by some 1e-7.
    a = hilbert(8, 8)
    q, r = classical_gram_schmidt(a)
    above = np.triu_indices(8, 1)
    call = "R above the diagonal, from classical_gram_schmidt(hilbert(8, 8))"
    assert_close(
        r[above],
        (q.T @ a)[above],
        call,
        "equation (3): the products of the columns of Q and A",
        rtol=0,
        atol=100 * EPS,
        tolerance="some roundings of numbers up to 2",
    )


@pytest.mark.parametrize("n_cols", [4, 7])
def test_classical_gram_schmidt_is_classical(n_cols):
    # As in the worked example: from column 2 on, q_j = (0, -1, 0.., 1, 0..) / sqrt 2, and any two of them have the product
    # 1/2. I - Q'Q is then -1/2 off the diagonal in n - 1 rows and columns, whose largest eigenvalue is (n - 2) / 2.
    q, _ = classical_gram_schmidt(lauchli(n_cols, 1e-9))
    expected = (n_cols - 2) / 2
    call = f"the loss of classical_gram_schmidt(lauchli({n_cols}, 1e-9))"
    assert abs(loss(q) - expected) < 1e-6, (
        f"{call} is {loss(q):.3g}, expected {expected} by (3): with all coefficients from the column itself, "
        "columns of Q are at 60 degrees; a loss near 1e-9 is that of the modified method, one near 1e-16 that "
        "of a second pass"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_classical_gram_schmidt_is_the_same_in_all_units(scale):
    check_units(classical_gram_schmidt, "classical_gram_schmidt", scale)


def test_classical_gram_schmidt_takes_columns_of_unlike_lengths():
    check_columns_of_unlike_lengths(classical_gram_schmidt, "classical_gram_schmidt")


def test_classical_gram_schmidt_names_the_first_column_that_depends_on_others():
    check_dependent(classical_gram_schmidt, "classical_gram_schmidt")


def test_classical_gram_schmidt_keeps_float32():
    check_float32(classical_gram_schmidt, "classical_gram_schmidt")


def test_classical_gram_schmidt_takes_whole_numbers():
    check_whole_numbers(classical_gram_schmidt, "classical_gram_schmidt")


def test_classical_gram_schmidt_leaves_its_matrix_alone():
    check_unchanged(classical_gram_schmidt, A.copy())


# modified_gram_schmidt


def test_modified_gram_schmidt_finds_the_factors():
    check_by_hand(modified_gram_schmidt, "modified_gram_schmidt")


@pytest.mark.parametrize("shape", SHAPES)
def test_modified_gram_schmidt_agrees_with_numpy(shape):
    check_numpy(modified_gram_schmidt, "modified_gram_schmidt", shape)


@each_sample
def test_modified_gram_schmidt_loses_no_more_than_the_condition(name):
    a = SAMPLES[name]
    q, _ = factors(modified_gram_schmidt, a, f"modified_gram_schmidt of {name}")
    bound = a.shape[1] * EPS * CONDITIONS[name]
    assert loss(q) <= bound, (
        f"modified_gram_schmidt of {name} lost {loss(q):.2g} of orthogonality (7), expected at most {bound:.2g} by (8)"
    )


@pytest.mark.parametrize("n_cols", [4, 7])
def test_modified_gram_schmidt_is_modified(n_cols):
    # Here q_1 = (1, e, 0..), and what (4) leaves of column j + 1 is e (0, -1/j, .., -1/j, 1, 0..), of length
    # e sqrt((j + 1) / j): by its first entry below the top its product with q_1 is -e / sqrt(j (j + 1)). These n - 1
    # products are all that is lost, and the root of the sum of their squares, 1/j - 1/(j + 1), is e sqrt(1 - 1/n).
    q, _ = modified_gram_schmidt(lauchli(n_cols, 1e-9))
    expected = 1e-9 * (1 - 1 / n_cols) ** 0.5
    call = f"the loss of modified_gram_schmidt(lauchli({n_cols}, 1e-9))"
    assert abs(loss(q) - expected) < 1e-4 * expected, (
        f"{call} is {loss(q):.6g}, expected {expected:.6g} by (4); a loss of {(n_cols - 2) / 2} is that of the "
        "classical method, one near 1e-16 that of a second pass"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_modified_gram_schmidt_is_the_same_in_all_units(scale):
    check_units(modified_gram_schmidt, "modified_gram_schmidt", scale)


def test_modified_gram_schmidt_takes_columns_of_unlike_lengths():
    check_columns_of_unlike_lengths(modified_gram_schmidt, "modified_gram_schmidt")


def test_modified_gram_schmidt_names_the_first_column_that_depends_on_others():
    check_dependent(modified_gram_schmidt, "modified_gram_schmidt")


def test_modified_gram_schmidt_keeps_float32():
    check_float32(modified_gram_schmidt, "modified_gram_schmidt")


def test_modified_gram_schmidt_takes_whole_numbers():
    check_whole_numbers(modified_gram_schmidt, "modified_gram_schmidt")


def test_modified_gram_schmidt_leaves_its_matrix_alone():
    check_unchanged(modified_gram_schmidt, A.copy())


# reorthogonalised_gram_schmidt


def test_reorthogonalised_gram_schmidt_finds_the_factors():
    check_by_hand(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt")


@pytest.mark.parametrize("shape", SHAPES)
def test_reorthogonalised_gram_schmidt_agrees_with_numpy(shape):
    check_numpy(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt", shape)


@each_sample
def test_reorthogonalised_gram_schmidt_is_orthogonal_whatever_the_condition(name):
    a = SAMPLES[name]
    q, _ = factors(reorthogonalised_gram_schmidt, a, f"reorthogonalised_gram_schmidt of {name}")
    bound = 10 * a.shape[1] * EPS
    assert loss(q) <= bound, (
        f"reorthogonalised_gram_schmidt of {name} lost {loss(q):.2g} of orthogonality (7), expected at most "
        f"{bound:.2g} by (8)"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_reorthogonalised_gram_schmidt_is_the_same_in_all_units(scale):
    check_units(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt", scale)


def test_reorthogonalised_gram_schmidt_takes_columns_of_unlike_lengths():
    check_columns_of_unlike_lengths(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt")


def test_reorthogonalised_gram_schmidt_names_the_first_column_that_depends_on_others():
    check_dependent(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt")


def test_reorthogonalised_gram_schmidt_keeps_float32():
    check_float32(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt")


def test_reorthogonalised_gram_schmidt_takes_whole_numbers():
    check_whole_numbers(reorthogonalised_gram_schmidt, "reorthogonalised_gram_schmidt")


def test_reorthogonalised_gram_schmidt_leaves_its_matrix_alone():
    check_unchanged(reorthogonalised_gram_schmidt, A.copy())


# loss_of_orthogonality


def test_loss_of_orthogonality_is_a_spectral_norm():
    # Q'Q is the identity plus 0.3 and 0.4 in a row and a column beside the diagonal, of the spectral norm 0.5.
    q = np.array([[1.0, 0.3, 0.4], [0.0, 0.91**0.5, 0.0], [0.0, 0.0, 0.84**0.5]])
    q[1, 2] = -0.12 / 0.91**0.5
    q[2, 2] = (0.84 - 0.0144 / 0.91) ** 0.5
    assert_close(
        loss_of_orthogonality(q), 0.5, f"loss_of_orthogonality({q.round(6).tolist()})", "equation (7)", rtol=RTOL
    )


def test_loss_of_orthogonality_counts_columns_that_are_too_long_or_too_short():
    q = SEVENTHS[:, :2] * [1.5, 0.9]
    assert_close(
        loss_of_orthogonality(q),
        1.25,
        "loss_of_orthogonality(q) of orthogonal columns with the lengths 1.5 and 0.9",
        "equation (7)",
        rtol=RTOL,
    )
    q = SEVENTHS[:, :2] * [1.1, 0.5]
    assert_close(
        loss_of_orthogonality(q),
        0.75,
        "loss_of_orthogonality(q) of orthogonal columns with the lengths 1.1 and 0.5",
        "equation (7)",
        rtol=RTOL,
    )


@pytest.mark.parametrize("shape", [(30, 8), (8, 8), (5, 9)])
def test_loss_of_orthogonality_is_the_largest_distance_of_a_squared_singular_value_from_1(shape):
    q = np.random.default_rng(2).normal(0.1, 0.3, shape)
    values = np.zeros(shape[1])
    values[: min(shape)] = np.linalg.svd(q, compute_uv=False) ** 2
    expected = np.abs(values - 1).max()
    assert_close(
        loss_of_orthogonality(q),
        expected,
        f"loss_of_orthogonality(q) of shape {shape}",
        "equation (7), by the singular values",
        rtol=RTOL,
    )


def test_loss_of_orthogonality_of_orthonormal_columns_is_rounding():
    for q in (Q, np.linalg.qr(independent(40, 15))[0]):
        found = loss_of_orthogonality(q)
        bound = 10 * q.shape[1] * EPS
        assert 0 <= found <= bound, (
            f"loss_of_orthogonality of orthonormal columns returned {found:.2g}, expected at most {bound:.2g}"
        )


def test_loss_of_orthogonality_leaves_its_matrix_alone():
    check_unchanged(loss_of_orthogonality, Q.copy())


# compare_losses


def test_compare_losses_measures_each_method_on_each_matrix():
    # The singular values of Läuchli's matrix are sqrt(n + e^2), once, and e. The losses are derived above.
    sizes, e = np.array([4, 7, 5]), 1e-9
    compared = compare_losses([lauchli(int(n), e) for n in sizes])
    call = "compare_losses([lauchli(4, 1e-9), lauchli(7, 1e-9), lauchli(5, 1e-9)])"
    # The least singular value is known to 1e-16 of the largest, which is 1e-7 of itself.
    assert_close(
        compared.conditions, np.sqrt(sizes) / e, f"{call}.conditions", "the ratio of singular values", rtol=1e-5
    )
    assert_close(compared.classical, (sizes - 2) / 2, f"{call}.classical", "equation (7) for (3)", rtol=1e-5)
    assert_close(compared.modified, e * np.sqrt(1 - 1 / sizes), f"{call}.modified", "equation (7) for (4)", rtol=1e-4)
    worst = float(compared.reorthogonalised.max())
    assert 0 <= worst <= 10 * 7 * EPS, (
        f"{call}.reorthogonalised is up to {worst:.2g}, expected at most {70 * EPS:.2g} by (8)"
    )


def test_compare_losses_takes_matrices_of_any_shapes_and_shows_the_powers_of_the_condition():
    matrices = [stretched(2), stretched(4, 40, 15), stretched(6, 25, 10)]
    compared = compare_losses(matrices)
    conditions = np.array([1e2, 1e4, 1e6])
    assert_close(
        compared.conditions,
        conditions,
        "compare_losses of matrices of conditions 1e2, 1e4 and 1e6",
        "planted singular values",
        rtol=1e-8,
    )
    sizes = np.array([12, 15, 10])
    bounds = {"classical": conditions**2, "modified": conditions, "reorthogonalised": 10 * np.ones(3)}
    for name, growth in bounds.items():
        found, bound = getattr(compared, name), sizes * EPS * growth
        assert (found <= bound).all(), f"compare_losses(...).{name} is {found}, expected at most {bound} by (8)"


def test_compare_losses_leaves_its_matrices_alone():
    check_unchanged(lambda a: compare_losses([a]), A.copy())


# What is given: the checks of the arguments

NOT_MATRICES = [np.zeros((3, 0)), np.ones(3), np.array([[np.nan]]), np.array([[1.0], [np.inf]]), np.array([[1j]])]
METHODS = [classical_gram_schmidt, modified_gram_schmidt, reorthogonalised_gram_schmidt]


@pytest.mark.given
@pytest.mark.parametrize("a", NOT_MATRICES)
def test_classical_gram_schmidt_and_all_others_refuse_what_is_no_matrix_of_finite_numbers(a):
    for method in METHODS:
        with pytest.raises(ValueError, match="a must"):
            method(a)
    with pytest.raises(ValueError, match="a must"):
        compare_losses([np.eye(2), a])
    with pytest.raises(ValueError, match="q must"):
        loss_of_orthogonality(a)


@pytest.mark.given
def test_classical_gram_schmidt_and_all_others_refuse_more_columns_than_rows():
    for method in METHODS:
        with pytest.raises(ValueError, match="a must have at least as many rows"):
            method(np.ones((2, 3)))


@pytest.mark.given
def test_project_out_refuses_what_does_not_fit():
    for v in (np.ones((2, 2)), np.array([np.nan]), np.zeros(0)):
        with pytest.raises(ValueError, match="v must"):
            project_out(v, np.eye(2))
    for q in (np.ones(3), np.eye(2), np.ones((2, 3))):
        with pytest.raises(ValueError, match="q must"):
            project_out(np.ones(3), q)


@pytest.mark.given
def test_compare_losses_refuses_no_matrices():
    with pytest.raises(ValueError, match="matrices must"):
        compare_losses([])
