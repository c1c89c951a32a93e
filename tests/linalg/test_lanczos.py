"""Shared tests of linalg/lanczos: run on the reference, and on the learner's file.

The relations (3) and (5) hold to the rounding of a product, here below n eps ||A||, and columns are orthonormal to a few
n eps: BOUND = 10 n eps leaves a margin of ten or more. By-hand numbers are compared at RTOL = 1e-9. Ritz values that
have converged are right to the rounding of the matrix. Signs of vectors are free; those of the columns of `q` are not,
since (2) and (4) fix them.
"""

import tracemalloc
from functools import partial

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

from mlpath.linalg._shared import wilkinson_eigenvalues, with_singular_values
from mlpath.linalg.lanczos import (
    Krylov,
    MatrixFree,
    arnoldi,
    arnoldi_ritz,
    extend,
    extreme_eigenpairs,
    grid_laplacian,
    lanczos,
    lanczos_ritz,
    lanczos_step,
)
from mlpath.testing import assert_close

RTOL = 1e-9
EPS = float(np.finfo(float).eps)
EPS32 = float(np.finfo(np.float32).eps)
SCALES = [1e-150, 1e150]

# By hand: symmetric, without small whole numbers or zeros. Starting at (0.6, 0.8, 0), the first two steps of (4):
# A q1 = (-0.7, 3.2, 2.75), a1 = 2.14, w1 = (-1.984, 1.488, 2.75), b1^2 = 13.7129.
HAND = np.array([[1.5, -2.0, 0.25], [-2.0, 5.5, 3.25], [0.25, 3.25, -4.0]])
Q1 = np.array([0.6, 0.8, 0.0])
ALPHA1, W1, BETA1 = 2.14, np.array([-1.984, 1.488, 2.75]), np.sqrt(13.71290)


def symmetric(values, seed=0):
    """A symmetric matrix with the given eigenvalues, and its eigenvectors."""
    vectors = np.linalg.qr(np.random.default_rng([seed, len(values)]).normal(size=(len(values), len(values))))[0]
    a = vectors * np.asarray(values, dtype=float) @ vectors.T
    return (a + a.T) / 2, vectors


def start_for(n, seed=1):
    return np.random.default_rng([seed, n]).normal(size=n)


def first_column(start):
    """A start as `extend` wants it."""
    return Krylov(start[:, None] / np.linalg.norm(start), np.zeros(0), np.zeros(0), invariant=False)


def tridiagonal(alpha, beta):
    return np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)


class Counting:
    """A matrix that counts its products with vectors, and refuses anything else."""

    def __init__(self, a):
        self.a, self.shape, self.dtype, self.products = a, a.shape, a.dtype, 0

    def __matmul__(self, x):
        assert np.ndim(x) == 1, f"the operator was multiplied with an array of shape {np.shape(x)}, expected a vector"
        self.products += 1
        return self.a @ x


def kinds(a):
    """The same matrix as each kind of operator."""
    return {
        "an array": a,
        "a sparse array": scipy.sparse.csr_array(a),
        "a sparse matrix": scipy.sparse.csc_matrix(a),
        "a LinearOperator": scipy.sparse.linalg.aslinearoperator(a),
        "a MatrixFree": MatrixFree(lambda x: a @ x, len(a)),
    }


def check_orthonormal(q, call, eps=EPS):
    loss = np.abs(q.T.astype(float) @ q.astype(float) - np.eye(q.shape[1])).max()
    bound = 10 * len(q) * eps
    assert loss <= bound, f"{call}: Q'Q differs from I by {loss:.2g}, expected at most 10 n eps = {bound:.2g}"


def check_krylov(a, krylov, n_steps, call, *, invariant=False, orthonormal=True, eps=EPS):
    """Shapes, the relation (5) and the orthonormal columns of what Lanczos returned."""
    n, columns = len(a), n_steps + (not invariant)
    assert krylov.alpha.shape == (n_steps,), (
        f"{call}.alpha has the shape {krylov.alpha.shape}, expected {(n_steps,)}; beta is {krylov.beta}"
    )
    assert krylov.beta.shape == (n_steps,), f"{call}.beta has the shape {krylov.beta.shape}, expected {(n_steps,)}"
    assert krylov.invariant == invariant, (
        f"{call}.invariant is {krylov.invariant}, expected {invariant}; beta ends with {krylov.beta[-1]:.3g}"
    )
    assert krylov.q.shape == (n, columns), f"{call}.q has the shape {krylov.q.shape}, expected {(n, columns)}"
    if invariant:
        assert krylov.beta[-1] == 0, f"{call}.beta ends with {krylov.beta[-1]}, expected 0 after a breakdown"
    size = np.abs(a).max() or 1.0
    q, scaled = krylov.q.astype(float), a.astype(float) / size
    t = tridiagonal(krylov.alpha.astype(float), krylov.beta.astype(float)) / size
    right = q[:, :n_steps] @ t
    if not invariant:
        right[:, -1] += krylov.beta[-1] / size * q[:, -1]
    error, bound = np.abs(scaled @ q[:, :n_steps] - right).max(), 10 * n * eps * np.linalg.norm(scaled, 2)
    assert error <= bound, (
        f"{call}: A Q and Q T + beta q e' of equation (5) differ by {error:.2g} of the largest entry of A, expected at most "
        f"{bound:.2g}"
    )
    assert (krylov.beta >= 0).all(), f"{call}.beta is {krylov.beta}, expected lengths, none below 0"
    if orthonormal:
        check_orthonormal(q, call, eps)


def check_unchanged(function, *arrays):
    before = [array.copy() for array in arrays]
    function(*arrays)
    for array, copy in zip(arrays, before, strict=True):
        assert np.array_equal(array, copy), f"an array that was given is now\n{array}\nexpected it to stay\n{copy}"


def same_direction(found, expected, call, atol=1e-7):
    product = abs(float(found.astype(float) @ expected))
    assert abs(product - 1) <= atol, (
        f"{call} has the product {product:.9f} with the planted eigenvector, expected 1 or -1"
    )


# grid_laplacian


def dense_laplacian(n_rows, n_cols):
    a = np.zeros((n_rows * n_cols, n_rows * n_cols))
    for i in range(n_rows):
        for j in range(n_cols):
            for k, m in ((i + 1, j), (i, j + 1)):
                if k < n_rows and m < n_cols:
                    one, other = i * n_cols + j, k * n_cols + m
                    a[one, one] += 1
                    a[other, other] += 1
                    a[one, other] -= 1
                    a[other, one] -= 1
    return a


def test_grid_laplacian_by_hand():
    x = np.array([2.5, -1.25, 4.0, 0.75, 3.5, -2.0])
    for shape, expected in (
        # 2 x 3: (0,0) has the neighbours (0,1) and (1,0), and so on.
        ((2, 3), [2 * 2.5 + 1.25 - 0.75, -3 * 1.25 - 2.5 - 4 - 3.5, 8 + 1.25 + 2, 1.5 - 2.5 - 3.5, 10.5 - 0.75 + 1.25 + 2,
                  -4 - 4 - 3.5]),
        ((3, 2), [5 + 1.25 - 4, -2.5 - 2.5 - 0.75, 12 - 2.5 - 0.75 - 3.5, 2.25 + 1.25 - 4 + 2, 7 - 4 + 2, -4 - 0.75 - 3.5]),
        ((1, 6), [3.75, -9.0, 8.5, -6.0, 8.25, -5.5]),
        ((6, 1), [3.75, -9.0, 8.5, -6.0, 8.25, -5.5]),
    ):  # fmt: skip
        found = grid_laplacian(x, shape)
        assert_close(found, np.array(expected), f"grid_laplacian({x.tolist()}, {shape})", "equation (1)", rtol=RTOL)


def test_grid_laplacian_is_the_product_with_the_matrix():
    for shape in ((4, 7), (5, 5), (1, 2), (1, 1), (9, 2)):
        x = start_for(shape[0] * shape[1])
        expected = dense_laplacian(*shape) @ x
        assert_close(grid_laplacian(x, shape), expected, f"grid_laplacian(x, {shape})", "equation (1)", atol=1e-12)


def test_grid_laplacian_has_the_eigenvalues_of_the_note():
    rows, cols = 20, 31
    for i, j in ((0, 0), (3, 0), (0, 30), (19, 30), (7, 11)):
        up = np.cos(np.pi * i * (np.arange(rows) + 0.5) / rows)
        across = np.cos(np.pi * j * (np.arange(cols) + 0.5) / cols)
        x = np.outer(up, across).ravel()
        value = 4 * np.sin(np.pi * i / 2 / rows) ** 2 + 4 * np.sin(np.pi * j / 2 / cols) ** 2
        call = f"grid_laplacian of the eigenvector ({i}, {j}) of a {rows} x {cols} grid"
        assert_close(grid_laplacian(x, (rows, cols)), value * x, call, "its eigenvalue times it", atol=1e-12)


def test_grid_laplacian_keeps_float32_and_takes_whole_numbers():
    found = grid_laplacian(np.arange(6, dtype=np.float32), (2, 3))
    assert found.dtype == np.float32, f"grid_laplacian of a float32 vector returned {found.dtype}"
    found = grid_laplacian(np.array([3, 1, 2]), (1, 3))
    assert_close(found, np.array([2.0, -3.0, 1.0]), "grid_laplacian([3, 1, 2], (1, 3))", "equation (1)")


def test_grid_laplacian_leaves_its_vector_alone():
    check_unchanged(lambda x: grid_laplacian(x, (3, 4)), start_for(12))


@pytest.mark.given
def test_grid_laplacian_refuses_vectors_that_do_not_fit():
    for x, shape in ((np.ones(5), (2, 3)), (np.ones((2, 3)), (2, 3)), (np.array([1.0, np.nan]), (1, 2))):
        with pytest.raises(ValueError, match="x must"):
            grid_laplacian(x, shape)


# lanczos_step


def test_lanczos_step_by_hand():
    alpha, remainder = lanczos_step(HAND, Q1[:, None], 0.0)
    call = f"lanczos_step({HAND.tolist()}, {Q1[:, None].tolist()}, 0.0)"
    assert_close(alpha, ALPHA1, f"{call}[0]", "alpha in (4)", rtol=RTOL)
    assert_close(remainder, W1, f"{call}[1]", "w in (4)", rtol=RTOL)


def test_lanczos_step_subtracts_the_last_but_one_as_well():
    # A w1 = (-5.2645, 21.0895, -6.66), and 13.7129 alpha = w1' A w1 = 23.510943.
    q2 = W1 / BETA1
    alpha, remainder = lanczos_step(HAND, np.column_stack([Q1, q2]), BETA1, reorthogonalize=False)
    expected = W1 @ HAND @ W1 / BETA1**2
    assert_close(alpha, expected, "alpha of the second step", "q2' A q2", rtol=RTOL)
    expected_w = HAND @ q2 - BETA1 * Q1 - expected * q2
    assert_close(remainder, expected_w, "the remainder of the second step", "w in (4)", rtol=RTOL, atol=1e-12)


def test_lanczos_step_ignores_beta_if_there_is_one_column():
    alpha, remainder = lanczos_step(HAND, Q1[:, None], 7.5)
    assert_close(alpha, ALPHA1, "lanczos_step(a, one column, 7.5)[0]", "alpha in (4): beta is of no use", rtol=RTOL)
    assert_close(remainder, W1, "lanczos_step(a, one column, 7.5)[1]", "w in (4): beta is of no use", rtol=RTOL)


@pytest.mark.parametrize("n_columns", [1, 2, 6])
def test_lanczos_step_reorthogonalizes_against_all_columns(n_columns):
    # Any orthonormal columns will do to see (10), which Lanczos' own would hide until rounding has grown.
    a, _ = symmetric(np.linspace(-3, 5, 20))
    q = np.linalg.qr(np.random.default_rng(3).normal(size=(20, n_columns)))[0]
    _, remainder = lanczos_step(a, q, 0.7)
    products = q.T @ remainder
    call = f"q.T @ remainder, of lanczos_step(a, q, 0.7) with {n_columns} orthonormal columns,"
    assert_close(products, np.zeros(n_columns), call, "equation (10)", atol=1e-13)
    expected = a @ q[:, -1] - q @ (q.T @ a @ q[:, -1])
    call = f"the remainder of lanczos_step(a, q, 0.7) with {n_columns} orthonormal columns"
    assert_close(remainder, expected, call, "equation (10)", rtol=RTOL, atol=1e-12)


def test_lanczos_step_without_reorthogonalization_is_equation_4_alone():
    a, _ = symmetric(np.linspace(-3, 5, 20))
    q = np.linalg.qr(np.random.default_rng(3).normal(size=(20, 6)))[0]
    alpha, remainder = lanczos_step(a, q, 0.7, reorthogonalize=False)
    # In (4) alpha is q' A q. Whether 0.7 q5 is subtracted before or after makes no difference, as q5 is orthogonal to q6.
    expected = a @ q[:, 5] - 0.7 * q[:, 4] - (q[:, 5] @ a @ q[:, 5]) * q[:, 5]
    call = "lanczos_step(a, six columns, 0.7, reorthogonalize=False)"
    assert_close(alpha, q[:, 5] @ a @ q[:, 5], f"{call}[0]", "alpha in (4)", rtol=RTOL)
    assert_close(remainder, expected, f"{call}[1]", "w in (4)", rtol=RTOL, atol=1e-12)


def test_lanczos_step_takes_every_kind_of_operator():
    for name, operator in kinds(HAND).items():
        alpha, remainder = lanczos_step(operator, Q1[:, None], 0.0)
        assert_close(alpha, ALPHA1, f"lanczos_step of {name}[0]", "alpha in (4)", rtol=RTOL)
        assert_close(remainder, W1, f"lanczos_step of {name}[1]", "w in (4)", rtol=RTOL)


def test_lanczos_step_multiplies_once():
    counting = Counting(HAND)
    lanczos_step(counting, np.column_stack([Q1, W1 / BETA1]), BETA1)
    assert counting.products == 1, f"lanczos_step multiplied {counting.products} times with its operator, expected once"


def test_lanczos_step_keeps_float32_and_leaves_its_arrays_alone():
    q = np.eye(3, 2, dtype=np.float32)
    _, remainder = lanczos_step(HAND.astype(np.float32), q, 0.5)
    assert remainder.dtype == np.float32, f"lanczos_step in float32 returned a remainder of {remainder.dtype}"
    for reorthogonalize in (True, False):
        check_unchanged(partial(lanczos_step, beta=0.5, reorthogonalize=reorthogonalize), HAND.copy(), np.eye(3, 2))


@pytest.mark.given
def test_lanczos_step_refuses_a_basis_that_does_not_fit():
    for q in (np.eye(4, 2), np.ones(3), np.zeros((3, 0))):
        with pytest.raises(ValueError, match="q must"):
            lanczos_step(HAND, q, 0.0)


# extend


def test_extend_by_hand():
    krylov = extend(HAND, first_column(Q1), 2)
    # With w1 of the length 3.7031: alpha2 = w1' A w1 / b1^2, and the trace is 3: alpha3 = 3 - alpha1 - alpha2.
    alpha2 = W1 @ HAND @ W1 / BETA1**2
    w2 = HAND @ W1 / BETA1 - BETA1 * Q1 - alpha2 * W1 / BETA1
    call = f"extend({HAND.tolist()}, the start {Q1.tolist()}, 2)"
    assert_close(krylov.alpha, np.array([2.14, alpha2]), f"{call}.alpha", "equation (4)", rtol=RTOL)
    assert_close(krylov.beta, np.array([BETA1, np.linalg.norm(w2)]), f"{call}.beta", "equation (4)", rtol=RTOL)
    expected = np.column_stack([Q1, W1 / BETA1, w2 / np.linalg.norm(w2)])
    assert_close(krylov.q, expected, f"{call}.q", "equation (4)", rtol=RTOL, atol=1e-12)
    assert not krylov.invariant, f"{call}.invariant is {krylov.invariant}, expected False: beta is not small"


def test_extend_goes_on_where_it_stood():
    a, _ = symmetric(np.linspace(-2, 9, 40) ** 3)
    whole = extend(a, first_column(start_for(40)), 9)
    part = extend(a, first_column(start_for(40)), 4)
    q, alpha, beta = part.q.copy(), part.alpha.copy(), part.beta.copy()
    again = extend(a, part, 5)
    for name, before, after in (("q", q, part.q), ("alpha", alpha, part.alpha), ("beta", beta, part.beta)):
        assert np.array_equal(before, after), f"extend changed `{name}` of the Krylov that it was given"
    call = "extend(a, extend(a, start, 4), 5)"
    check_krylov(a, again, 9, call)
    assert_close(again.alpha, whole.alpha, f"{call}.alpha", "that of extend(a, start, 9)", rtol=RTOL)
    assert_close(again.beta, whole.beta, f"{call}.beta", "that of extend(a, start, 9)", rtol=RTOL)
    one = extend(a, part, 1)
    assert_close(one.alpha, whole.alpha[:5], "extend(a, extend(a, start, 4), 1).alpha", "that of 5 steps", rtol=RTOL)


def test_extend_multiplies_once_in_each_step():
    counting = Counting(symmetric(np.linspace(-2, 9, 40))[0])
    extend(counting, first_column(start_for(40)), 9)
    assert counting.products == 9, f"extend(a, start, 9) multiplied {counting.products} times with a, expected 9 times"


@pytest.mark.parametrize("reorthogonalize", [True, False])
def test_extend_stops_at_an_invariant_subspace(reorthogonalize):
    values = np.array([4.5, -2.25, 1.75, 0.3, 7.0, 6.0])
    a, vectors = symmetric(np.r_[values, np.zeros(20)])
    start = vectors[:, [0, 1, 3]] @ np.array([0.48, 0.6, 0.64])
    call = f"extend(a, a start of three eigenvectors, 10, reorthogonalize={reorthogonalize})"
    krylov = extend(a, first_column(start), 10, reorthogonalize=reorthogonalize)
    check_krylov(a, krylov, 3, call, invariant=True)
    found = np.linalg.eigvalsh(tridiagonal(krylov.alpha, krylov.beta))
    assert_close(found, np.array([-2.25, 0.3, 4.5]), f"the eigenvalues of T of {call}", "the three", atol=1e-12)
    again = extend(a, krylov, 4)
    call = "extend of what is invariant"
    assert again.invariant and np.array_equal(again.q, krylov.q), f"{call} is another basis, expected the same one"
    assert np.array_equal(again.beta, krylov.beta), f"{call} has beta {again.beta}, expected {krylov.beta} as it was"


@pytest.mark.parametrize(("small", "n_steps"), [(1e-12, 5), (1e-16, 3)])
def test_extend_takes_a_remainder_for_zero_only_if_it_is_rounding(small, n_steps):
    # (6) asks for 10 sqrt(5) eps = 5e-15 times the largest entry, 6.25. The start is a coordinate: no rounding at all.
    alpha, beta = np.array([1.5, 6.25, -2.5, 0.75, 3.25]), np.array([0.5, 1.25, small, 2.75, 0.0])
    krylov = extend(tridiagonal(alpha, beta), first_column(np.eye(5)[0]), 8)
    call = f"extend of a tridiagonal matrix with {small:g} beside its diagonal, 8 steps"
    check_krylov(tridiagonal(alpha, beta), krylov, n_steps, call, invariant=True)
    assert_close(krylov.alpha, alpha[:n_steps], f"{call}: alpha", "the diagonal", rtol=RTOL)
    assert_close(krylov.beta[:-1], beta[: n_steps - 1], f"{call}: beta", "what is beside the diagonal", rtol=RTOL)


def test_extend_compares_with_all_entries_of_the_small_matrix():
    # 2e-14 is no rounding beside 1.5, which is all there is at first, but it is beside 40 and beside 60.
    for alpha, beta, n_steps in (
        ([0.5, 1.5, 2.5], [1.25, 1e-13, 0.0], 3),
        ([40.0, 0.5, 1.5, 2.5], [1.25, 1e-13, 0.75, 0.0], 2),
        ([0.5, 0.25, 1.5, 2.5], [60.0, 1e-13, 0.75, 0.0], 2),
        ([0.5, -40.0, 1.5, 2.5], [1.25, 1e-13, 0.75, 0.0], 2),
    ):
        a = tridiagonal(np.array(alpha), np.array(beta))
        krylov = extend(a, first_column(np.eye(len(a))[0]), 8)
        assert len(krylov.alpha) == n_steps, (
            f"extend of the tridiagonal matrix of {alpha} and {beta} took {len(krylov.alpha)} steps, expected {n_steps} by (6)"
        )


def test_extend_needs_memory_for_the_basis_only():
    n, n_steps = 4000, 20
    operator = scipy.sparse.diags_array([np.ones(n - 1), np.linspace(1, 3, n), np.ones(n - 1)], offsets=[-1, 0, 1])
    krylov = first_column(start_for(n))
    extend(operator, krylov, 1)
    tracemalloc.start()
    extend(operator, krylov, n_steps)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Three bases: lists of columns and a copy are welcome, a dense matrix (190 times the basis) is not.
    bound = 3 * 8 * n * (n_steps + 1) + 1e6
    assert peak < bound, (
        f"extend of a sparse operator with n = {n}, {n_steps} steps, took {peak / 1e6:.1f} MB; the basis has {8 * n * 21 / 1e6:.1f} MB"
    )


@pytest.mark.given
@pytest.mark.parametrize("n_steps", [0, -2, 1.5])
def test_extend_and_the_others_refuse_a_number_of_steps_that_is_none(n_steps):
    for run in (
        lambda: extend(HAND, first_column(Q1), n_steps),
        lambda: lanczos(HAND, Q1, n_steps),
        lambda: arnoldi(HAND, Q1, n_steps),
    ):
        with pytest.raises(ValueError, match="n_steps must"):
            run()


# lanczos


def test_lanczos_by_hand():
    krylov = lanczos(HAND, 3.5 * Q1, 1)
    call = f"lanczos({HAND.tolist()}, {(3.5 * Q1).tolist()}, 1)"
    assert_close(krylov.alpha, np.array([ALPHA1]), f"{call}.alpha", "equation (4)", rtol=RTOL)
    assert_close(krylov.beta, np.array([BETA1]), f"{call}.beta", "equation (4)", rtol=RTOL)
    expected = np.column_stack([Q1, W1 / BETA1])
    assert_close(krylov.q, expected, f"{call}.q", "equation (4)", rtol=RTOL, atol=1e-12)


@pytest.mark.parametrize(("n", "n_steps"), [(30, 12), (80, 40), (25, 24)])
def test_lanczos_satisfies_equation_5(n, n_steps):
    a, _ = symmetric(np.linspace(-4, 9, n) ** 3)
    krylov = lanczos(a, start_for(n), n_steps)
    call = f"lanczos of a {n} x {n} matrix, {n_steps} steps"
    check_krylov(a, krylov, n_steps, call)
    q = krylov.q[:, :-1]
    t, size = tridiagonal(krylov.alpha, krylov.beta), np.abs(a).max()
    assert_close(q.T @ a @ q, t, f"Q' A Q of {call}", "T, equation (3)", rtol=0, atol=10 * n * EPS * size)


def test_lanczos_agrees_with_the_tridiagonal_matrix_of_householder():
    a, _ = symmetric(np.linspace(-4, 9, 15))
    krylov = lanczos(a, np.eye(15)[0], 14)
    t = scipy.linalg.hessenberg(a)
    call = "lanczos(a, the first unit vector, 14)"
    assert_close(krylov.alpha, np.diag(t)[:14], f"{call}.alpha", "scipy.linalg.hessenberg", rtol=0, atol=1e-11)
    assert_close(krylov.beta, np.abs(np.diag(t, 1)), f"{call}.beta", "scipy.linalg.hessenberg", rtol=0, atol=1e-11)


@pytest.mark.parametrize("n_steps", [2, 5])
def test_lanczos_matches_the_moments(n_steps):
    a, _ = symmetric(np.linspace(-0.9, 1.2, 30))
    krylov = lanczos(a, start_for(30), n_steps)
    t, q1, e1 = tridiagonal(krylov.alpha, krylov.beta), krylov.q[:, 0], np.eye(n_steps)[0]
    powers = range(2 * n_steps)
    found = np.array([e1 @ np.linalg.matrix_power(t, p) @ e1 for p in powers])
    expected = np.array([q1 @ np.linalg.matrix_power(a, p) @ q1 for p in powers])
    call = f"the moments e' T^p e after {n_steps} steps"
    assert_close(found, expected, call, f"q' A^p q for p < 2 m = {2 * n_steps}", rtol=RTOL)


def test_lanczos_ends_with_everything():
    for a in (wilkinson_eigenvalues(21), symmetric(np.geomspace(1e-6, 1, 12))[0]):
        n = len(a)
        krylov = lanczos(a, start_for(n), n + 5)
        call = f"lanczos of a {n} x {n} matrix, {n + 5} steps"
        check_krylov(a, krylov, len(krylov.alpha), call, invariant=True)
        assert len(krylov.alpha) <= n, f"{call} took {len(krylov.alpha)} steps, expected at most n"
        found = np.linalg.eigvalsh(tridiagonal(krylov.alpha, krylov.beta))
        expected = np.linalg.eigvalsh(a)
        for value in found:
            gap = np.abs(expected - value).min()
            assert gap < 1e-12 * np.abs(a).max() * n, f"{call}: T has the eigenvalue {value}, {gap:.2g} from those of A"


@pytest.mark.parametrize("scale", [1e-200, 1e200, -1.0])
def test_lanczos_scales_its_start_to_length_1(scale):
    # No entry is above 0 for the last scale.
    a, start = symmetric(np.linspace(-4, 9, 15))[0], np.abs(start_for(15))
    start[3] = 0
    krylov, expected = lanczos(a, scale * start, 6), lanczos(a, start, 6)
    call = f"lanczos(a, {scale:g} * start, 6)"
    unit = np.sign(scale) * start / np.linalg.norm(start)
    assert_close(krylov.q[:, 0], unit, f"the first column of {call}", "the start over its length", rtol=1e-12)
    assert_close(krylov.alpha, expected.alpha, f"{call}.alpha", "that of the start", rtol=RTOL)


@pytest.mark.parametrize("scale", SCALES)
def test_lanczos_is_the_same_in_all_units(scale):
    a, _ = symmetric(np.linspace(-4, 9, 15))
    krylov = lanczos(scale * a, start_for(15), 6)
    call = f"lanczos({scale:g} * a, start, 6)"
    check_krylov(scale * a, krylov, 6, call)
    assert_close(krylov.beta / scale, lanczos(a, start_for(15), 6).beta, f"{call}.beta / {scale:g}", "of a", rtol=RTOL)


def test_lanczos_takes_every_kind_of_operator():
    a, _ = symmetric(np.linspace(-4, 9, 15))
    expected = lanczos(a, start_for(15), 6)
    for name, operator in kinds(a).items():
        krylov = lanczos(operator, start_for(15), 6)
        check_krylov(a, krylov, 6, f"lanczos of {name}")
        assert_close(krylov.beta, expected.beta, f"lanczos of {name}, beta", "that of an array", rtol=RTOL)
    krylov = lanczos(scipy.sparse.csr_array(dense_laplacian(3, 4).astype(int)), np.arange(12), 3)
    check_krylov(dense_laplacian(3, 4), krylov, 3, "lanczos of a sparse array of whole numbers")


def test_lanczos_finds_an_invariant_subspace():
    krylov = lanczos(np.zeros((4, 4)), np.ones(4), 3)
    check_krylov(np.zeros((4, 4)), krylov, 1, "lanczos of the zero matrix", invariant=True)
    krylov = lanczos(np.array([[2.5]]), np.array([-3.0]), 3)
    check_krylov(np.array([[2.5]]), krylov, 1, "lanczos of a 1 x 1 matrix", invariant=True)
    assert_close(krylov.alpha, np.array([2.5]), "lanczos([[2.5]], [-3.0], 3).alpha", "equation (4)")


def outlier():
    """One eigenvalue far from the others, which converges first, and whose ghosts come first."""
    return np.diag(np.r_[np.linspace(0, 1, 59), 4.0])


def test_lanczos_stays_orthogonal_where_the_plain_recurrence_does_not():
    a, n_steps = outlier(), 40
    good = lanczos(a, np.ones(60), n_steps)
    check_krylov(a, good, n_steps, "lanczos(a, start, 40)")
    ghosts = (np.abs(np.linalg.eigvalsh(tridiagonal(good.alpha, good.beta)) - 4) < 1e-6).sum()
    assert ghosts == 1, f"lanczos(a, start, 40) has {ghosts} Ritz values at the eigenvalue 4, expected 1"
    plain = lanczos(a, np.ones(60), n_steps, reorthogonalize=False)
    call = "lanczos(a, start, 40, reorthogonalize=False)"
    # (5) holds even so, and neighbours are orthogonal.
    check_krylov(a, plain, n_steps, call, orthonormal=False)
    gram = plain.q.T @ plain.q
    neighbours = np.abs(np.diag(gram, 1)).max()
    assert neighbours < 1e-12, f"{call}: neighbouring columns have products up to {neighbours:.2g}, expected rounding"
    assert np.abs(gram - np.eye(n_steps + 1)).max() > 0.5, f"{call} kept its columns orthogonal, expected (4) alone"
    ghosts = (np.abs(np.linalg.eigvalsh(tridiagonal(plain.alpha, plain.beta)) - 4) < 1e-6).sum()
    assert ghosts >= 2, f"{call} has {ghosts} Ritz value at the eigenvalue 4, expected ghosts beside it"


def test_lanczos_without_reorthogonalization_may_take_more_steps_than_rows():
    krylov = lanczos(outlier(), np.ones(60), 90, reorthogonalize=False)
    call = "lanczos of a 60 x 60 matrix, 90 steps, reorthogonalize=False"
    check_krylov(outlier(), krylov, 90, call, orthonormal=False)


def test_lanczos_keeps_float32():
    a, _ = symmetric(np.linspace(-4, 9, 30))
    krylov = lanczos(a.astype(np.float32), start_for(30).astype(np.float32), 12)
    for name in ("q", "alpha", "beta"):
        dtype = getattr(krylov, name).dtype
        assert dtype == np.float32, f"lanczos in float32 returned {name} of {dtype}"
    check_krylov(a.astype(np.float32), krylov, 12, "lanczos in float32", eps=EPS32)


def test_lanczos_leaves_its_arrays_alone():
    check_unchanged(lambda a, start: lanczos(a, start, 2), HAND.copy(), 3 * Q1)


@pytest.mark.given
def test_lanczos_refuses_operators_that_are_none():
    for run in (lambda a: lanczos(a, Q1, 2), lambda a: extreme_eigenpairs(a, 1, rng=np.random.default_rng(0))):
        for bad in (
            np.ones((3, 2)),
            np.zeros((0, 0)),
            np.ones(3),
            HAND + np.diag([1e-9, 0], 1),
            scipy.sparse.csr_array(np.triu(HAND)),
            np.full((3, 3), np.nan),
            MatrixFree(lambda x: x[:2], 3),
            MatrixFree(lambda x: 1j * x, 3),
        ):
            with pytest.raises(ValueError, match="operator must"):
                run(bad)


@pytest.mark.given
@pytest.mark.parametrize("start", [np.zeros(3), np.ones(2), np.ones((3, 1)), np.array([1.0, np.inf, 0.0])])
def test_lanczos_and_arnoldi_refuse_starts_that_do_not_fit(start):
    for function in (lanczos, arnoldi):
        with pytest.raises(ValueError, match="start must"):
            function(HAND, start, 2)


# lanczos_ritz


def test_lanczos_ritz_by_hand():
    # The mean of the diagonal is 0.3 and half its difference 1: values 0.3 +- sqrt(1 + 1.2^2). s goes with (1.2, value - 1.3).
    root = np.sqrt(2.44)
    values = np.array([0.3 - root, 0.3 + root])
    s = np.array([[1.2, 1.2], values - 1.3])
    s /= np.linalg.norm(s, axis=0)
    ritz = lanczos_ritz(np.array([1.3, -0.7]), np.array([1.2, 0.45]))
    call = "lanczos_ritz([1.3, -0.7], [1.2, 0.45])"
    assert_close(ritz.values, values, f"{call}.values", "the eigenvalues of T", rtol=RTOL)
    assert_close(ritz.residuals, 0.45 * np.abs(s[1]), f"{call}.residuals", "equation (7)", rtol=RTOL)
    found = ritz.coefficients * np.sign(ritz.coefficients[0])
    assert_close(found, s, f"{call}.coefficients, signs apart,", "T s = value s", rtol=RTOL)


def test_lanczos_ritz_of_a_chain():
    m = 30
    ritz = lanczos_ritz(np.zeros(m), np.ones(m))
    k = m - np.arange(m)
    values = 2 * np.cos(np.pi * k / (m + 1))
    last = np.sqrt(2 / (m + 1)) * np.abs(np.sin(np.pi * k * m / (m + 1)))
    assert_close(
        ritz.values, values, f"lanczos_ritz(zeros({m}), ones({m})).values", "2 cos(pi k / (m + 1))", atol=1e-12
    )
    assert_close(ritz.residuals, last, f"lanczos_ritz(zeros({m}), ones({m})).residuals", "equation (7)", atol=1e-12)


def test_lanczos_ritz_tells_the_true_residuals():
    a, _ = symmetric(np.linspace(-4, 9, 40) ** 3)
    krylov = lanczos(a, start_for(40), 12)
    ritz = lanczos_ritz(krylov.alpha, krylov.beta)
    y = krylov.q[:, :12] @ ritz.coefficients
    expected = np.linalg.norm(a @ y - y * ritz.values, axis=0)
    assert_close(ritz.residuals, expected, "the residuals (7) of 12 steps", "||A y - theta y||", rtol=1e-8, atol=1e-10)
    gaps = np.abs(np.linalg.eigvalsh(a)[:, None] - ritz.values).min(axis=0)
    assert (gaps <= ritz.residuals + 1e-10).all(), (
        f"the nearest eigenvalues are {gaps} away from the Ritz values, more than the residuals {ritz.residuals}"
    )


def test_lanczos_ritz_of_one_step_and_of_a_breakdown():
    ritz = lanczos_ritz(np.array([-2.5]), np.array([0.75]))
    assert_close(ritz.values, np.array([-2.5]), "lanczos_ritz([-2.5], [0.75]).values", "alpha")
    assert_close(ritz.residuals, np.array([0.75]), "lanczos_ritz([-2.5], [0.75]).residuals", "beta, as s = 1")
    ritz = lanczos_ritz(np.array([1.5, 2.5, 0.5]), np.array([1.0, 2.0, 0.0]))
    assert_close(ritz.residuals, np.zeros(3), "the residuals after a breakdown", "0, as beta is 0")


@pytest.mark.parametrize("scale", SCALES)
def test_lanczos_ritz_is_the_same_in_all_units(scale):
    alpha, beta = np.array([1.3, -0.7, 2.0]), np.array([1.2, 0.45, 0.8])
    found, expected = lanczos_ritz(scale * alpha, scale * beta), lanczos_ritz(alpha, beta)
    assert_close(found.values / scale, expected.values, f"values of {scale:g} T / {scale:g}", "of T", rtol=RTOL)
    assert_close(
        found.residuals / scale, expected.residuals, f"residuals of {scale:g} T / {scale:g}", "of T", rtol=RTOL
    )


def test_lanczos_ritz_keeps_float32_and_leaves_its_arrays_alone():
    ritz = lanczos_ritz(np.ones(3, dtype=np.float32), np.ones(3, dtype=np.float32))
    for name in ("values", "coefficients", "residuals"):
        dtype = getattr(ritz, name).dtype
        assert dtype == np.float32, f"lanczos_ritz in float32 returned {name} of {dtype}"
    check_unchanged(lanczos_ritz, np.array([1.3, -0.7, 2.0]), np.array([1.2, 0.45, 0.8]))


@pytest.mark.given
def test_lanczos_ritz_refuses_what_is_no_tridiagonal_matrix():
    for alpha in (np.zeros(0), np.ones((1, 1)), np.array([np.nan])):
        with pytest.raises(ValueError, match="alpha must"):
            lanczos_ritz(alpha, np.ones(1))
    for beta in (np.ones(2), np.array([1.0, 2.0, -1.0]), np.array([1.0, np.inf, 1.0])):
        with pytest.raises(ValueError, match="beta must"):
            lanczos_ritz(np.ones(3), beta)


# extreme_eigenpairs


def check_extreme(
    a, k, expected, call, *, tol=EPS ** (2 / 3), eps=EPS, seed=5, operator=None, give_tol=False, **options
):
    n = len(a)
    if give_tol:
        options["tol"] = tol
    found = extreme_eigenpairs(a if operator is None else operator, k, rng=np.random.default_rng(seed), **options)
    assert found.values.shape == found.residuals.shape == (k,), (
        f"{call} returned values and residuals of shapes {found.values.shape} and {found.residuals.shape}, expected {(k,)}"
    )
    assert found.vectors.shape == (n, k), f"{call} returned vectors of shape {found.vectors.shape}, expected {(n, k)}"
    assert found.converged, (
        f"{call} returned converged={found.converged} after {found.steps} steps, with residuals {found.residuals}"
    )
    size = np.abs(np.linalg.eigvalsh(a.astype(float))).max()
    vectors = found.vectors.astype(float)
    residuals = np.linalg.norm(a.astype(float) @ vectors - vectors * found.values, axis=0)
    bound = (tol + 10 * n * eps) * size
    assert (residuals <= bound).all(), f"{call} left residuals of {residuals}, expected at most {bound:.2g}"
    assert (found.residuals <= tol * size * 1.001).all(), f"{call}.residuals are {found.residuals}, above tol ||A||"
    check_orthonormal(vectors, f"{call}.vectors", eps)
    # A residual r means an error of the value of at most r.
    assert_close(found.values, np.asarray(expected), f"{call}.values", "the planted ones", rtol=0, atol=2 * bound)
    return found


@pytest.mark.parametrize("which", ["largest", "smallest"])
@pytest.mark.parametrize(("n", "k"), [(80, 1), (80, 6), (12, 12), (30, 4), (60, 20)])
def test_extreme_eigenpairs_finds_the_planted_ones(n, k, which):
    values = np.sort(np.linspace(-1, 1.3, n) ** 3 * 7)
    a, vectors = symmetric(values)
    order = np.arange(n)[::-1] if which == "largest" else np.arange(n)
    call = f"extreme_eigenpairs of a {n} x {n} matrix, k={k}, which={which!r}"
    found = check_extreme(a, k, values[order[:k]], call, which=which)
    for i in range(k):
        same_direction(found.vectors[:, i], vectors[:, order[i]], f"vector {i} of {call}")
    assert k <= found.steps <= n, f"{call} says it took {found.steps} steps, expected {k} to {n}"


def test_extreme_eigenpairs_takes_the_largest_by_default():
    values = np.array([3.25, 1.5, 0.25, -1.75, -6.5])
    a, _ = symmetric(values)
    check_extreme(a, 2, [3.25, 1.5], "extreme_eigenpairs of a matrix with the eigenvalues 3.25, 1.5, ..., -6.5, k=2")
    check_extreme(a, 2, [-6.5, -1.75], "extreme_eigenpairs(a, 2, which='smallest')", which="smallest")


def test_extreme_eigenpairs_of_a_grid_without_a_matrix():
    shape = (9, 13)
    i, j = np.arange(9)[:, None], np.arange(13)
    values = np.sort((4 * np.sin(np.pi * i / 18) ** 2 + 4 * np.sin(np.pi * j / 26) ** 2).ravel())
    counting = Counting(dense_laplacian(*shape))
    operator = MatrixFree(partial(grid_laplacian, shape=shape), 117)
    for which, expected in (("largest", values[::-1]), ("smallest", values)):
        call = f"extreme_eigenpairs of a 9 x 13 grid, k=4, which={which!r}"
        found = check_extreme(counting.a, 4, expected[:4], call, which=which, operator=operator)
        assert found.steps < 100, f"{call} took {found.steps} steps, expected fewer than 100 of 117"
    found = extreme_eigenpairs(counting, 4, rng=np.random.default_rng(5))
    extra = counting.products - found.steps
    assert extra <= 3, f"extreme_eigenpairs took {found.steps} steps and {counting.products} products, expected as many"


def test_extreme_eigenpairs_agrees_with_scipy():
    rng = np.random.default_rng(6)
    a = scipy.sparse.random_array((150, 150), density=0.04, rng=rng, format="csr")
    a = a + a.T
    expected = np.sort(scipy.sparse.linalg.eigsh(a, k=5, which="LA", return_eigenvectors=False))[::-1]
    call = "extreme_eigenpairs of a sparse 150 x 150 matrix, k=5"
    found = check_extreme(a.toarray(), 5, expected, call, operator=a)
    assert found.steps < 120, f"{call} took {found.steps} steps, expected fewer than 120"


def test_extreme_eigenpairs_stops_at_its_tolerance():
    a = np.diag(np.r_[np.linspace(0, 5, 96), 5.5, 6.0, 6.5, 7.0])
    steps = []
    for tol in (1e-2, 1e-6, 1e-12):
        found = check_extreme(a, 3, [7.0, 6.5, 6.0], f"extreme_eigenpairs(a, 3, tol={tol:g})", tol=tol, give_tol=True)
        steps.append(found.steps)
    assert steps[0] < steps[1] < steps[2], f"with tol 1e-2, 1e-6, 1e-12 it took {steps} steps, expected more each time"


def test_extreme_eigenpairs_says_if_it_ran_out_of_steps():
    a = np.diag(np.linspace(0, 1, 150))
    found = extreme_eigenpairs(a, 3, rng=np.random.default_rng(5), max_steps=26)
    call = "extreme_eigenpairs(a, 3, max_steps=26)"
    assert not found.converged, f"{call} says it converged, with residuals {found.residuals}"
    assert found.steps == 26, f"{call} took {found.steps} steps, expected all of the 26"
    true = np.linalg.norm(a @ found.vectors - found.vectors * found.values, axis=0)
    assert_close(found.residuals, true, f"{call}.residuals", "equation (7)", rtol=1e-6)
    found = extreme_eigenpairs(a, 4, rng=np.random.default_rng(5), max_steps=4)
    assert found.steps == 4 and not found.converged, f"extreme_eigenpairs(a, 4, max_steps=4) took {found.steps} steps"


@pytest.mark.parametrize(
    ("values", "k"),
    [
        ([3.5, 3.5, 1.25], 2),
        ([2.5] * 6, 4),
        ([0.0] * 5, 3),
        ([4.0, -1.5] + [0.0] * 12, 5),
        ([3.0, 3.0] + [-1.0] * 10, 4),
    ],
)
def test_extreme_eigenpairs_goes_on_after_a_breakdown(values, k):
    for a in (np.diag(values), symmetric(values)[0]):
        check_extreme(
            a,
            k,
            sorted(values)[::-1][:k],
            f"extreme_eigenpairs of a matrix with the eigenvalues {values}, k={k}",
        )


def test_extreme_eigenpairs_of_one_number():
    check_extreme(np.array([[-2.5]]), 1, [-2.5], "extreme_eigenpairs([[-2.5]], 1)")


@pytest.mark.parametrize("scale", SCALES)
def test_extreme_eigenpairs_is_the_same_in_all_units(scale):
    values = np.linspace(-4, 9, 30) ** 3
    check_extreme(scale * symmetric(values)[0], 2, scale * values[::-1][:2], f"extreme_eigenpairs({scale:g} * a, 2)")


def test_extreme_eigenpairs_keeps_float32():
    values = np.linspace(-4, 9, 30) ** 3
    a = symmetric(values)[0].astype(np.float32)
    found = check_extreme(a, 2, values[::-1][:2], "extreme_eigenpairs in float32", tol=EPS32 ** (2 / 3), eps=EPS32)
    for name in ("values", "vectors", "residuals"):
        dtype = getattr(found, name).dtype
        assert dtype == np.float32, f"extreme_eigenpairs in float32 returned {name} of {dtype}"


def test_extreme_eigenpairs_leaves_its_matrix_alone():
    check_unchanged(lambda a: extreme_eigenpairs(a, 2, rng=np.random.default_rng(0)), HAND.copy())


@pytest.mark.given
def test_extreme_eigenpairs_refuses():
    rng = np.random.default_rng(0)
    for k in (0, 4, 1.5):
        with pytest.raises(ValueError, match="k must"):
            extreme_eigenpairs(HAND, k, rng=rng)
    with pytest.raises(ValueError, match="which must"):
        extreme_eigenpairs(HAND, 1, which="LM", rng=rng)
    with pytest.raises(ValueError, match="max_steps must"):
        extreme_eigenpairs(HAND, 2, rng=rng, max_steps=1)
    for tol in (0.0, -1e-3, np.nan, np.inf):
        with pytest.raises(ValueError, match="tol must"):
            extreme_eigenpairs(HAND, 1, rng=rng, tol=tol)


# arnoldi

# By hand: not symmetric. A q1 = (-0.7, 2.8, 2.75) with q1 = (0.6, 0.8, 0): h11 = 1.82, w = (-1.792, 1.344, 2.75).
SKEW = np.array([[1.5, -2.0, 0.25], [-1.0, 4.25, 3.25], [1.25, 2.5, -4.0]])


def unsymmetric(n, seed=0):
    rng = np.random.default_rng([seed, n])
    return rng.normal(size=(n, n)) + np.diag(np.linspace(-3, 3, n))


def check_arnoldi(a, found, n_steps, call, *, invariant=False, eps=EPS):
    n, columns = len(a), n_steps + (not invariant)
    assert found.h.shape == (columns, n_steps), f"{call}.h has the shape {found.h.shape}, expected {(columns, n_steps)}"
    assert found.q.shape == (n, columns), f"{call}.q has the shape {found.q.shape}, expected {(n, columns)}"
    assert found.invariant == invariant, f"{call}.invariant is {found.invariant}, expected {invariant}"
    assert not np.tril(found.h, -2).any(), f"{call}.h is\n{found.h}\nexpected zeros below the subdiagonal"
    assert (np.diag(found.h, -1) >= 0).all(), f"{call}.h has the subdiagonal {np.diag(found.h, -1)}, expected lengths"
    size = np.abs(a).max() or 1.0
    q, scaled = found.q.astype(float), a.astype(float) / size
    error = np.abs(scaled @ q[:, :n_steps] - q @ (found.h.astype(float) / size)).max()
    bound = 10 * n * eps * np.linalg.norm(scaled, 2)
    assert error <= bound, (
        f"{call}: A Q and Q H of equation (3) differ by {error:.2g} of the largest entry of A, expected at most {bound:.2g}"
    )
    check_orthonormal(q, call, eps)


def test_arnoldi_by_hand():
    a = np.array([[1.5, -2.0, 0.25], [-1.0, 4.25, 3.25], [1.25, 2.5, -4.0]])
    found = arnoldi(a, 2.5 * Q1, 2)
    call = f"arnoldi({a.tolist()}, {(2.5 * Q1).tolist()}, 2)"
    h11 = 1.82
    w = np.array([-1.792, 1.344, 2.75])
    h21 = np.linalg.norm(w)
    q2 = w / h21
    h12, h22 = Q1 @ a @ q2, q2 @ a @ q2
    w2 = a @ q2 - h12 * Q1 - h22 * q2
    expected = np.array([[h11, h12], [h21, h22], [0.0, np.linalg.norm(w2)]])
    assert_close(found.h, expected, f"{call}.h", "equation (2)", rtol=RTOL)
    q = np.column_stack([Q1, q2, w2 / np.linalg.norm(w2)])
    assert_close(found.q, q, f"{call}.q", "equation (2)", rtol=RTOL, atol=1e-12)


@pytest.mark.parametrize(("n", "n_steps"), [(30, 12), (60, 59), (9, 1)])
def test_arnoldi_satisfies_equation_3(n, n_steps):
    a = unsymmetric(n)
    check_arnoldi(a, arnoldi(a, start_for(n), n_steps), n_steps, f"arnoldi of a {n} x {n} matrix, {n_steps} steps")


def test_arnoldi_agrees_with_the_hessenberg_matrix_of_householder():
    a = unsymmetric(12)
    found = arnoldi(a, np.eye(12)[0], 11).h
    expected = scipy.linalg.hessenberg(a)[:, :11]
    # Both are alike up to the signs of the basis, which (2) fixes by positive subdiagonals.
    signs = np.cumprod(np.r_[1.0, np.sign(np.diag(expected, -1))])
    expected = expected * signs[:, None] * signs[:11]
    assert_close(
        found, expected, "arnoldi(a, the first unit vector, 11).h", "scipy.linalg.hessenberg", rtol=0, atol=1e-10
    )


def test_arnoldi_of_a_symmetric_matrix_is_lanczos():
    a, _ = symmetric(np.linspace(-4, 9, 20))
    found, krylov = arnoldi(a, start_for(20), 8), lanczos(a, start_for(20), 8)
    call = "arnoldi of a symmetric matrix, 8 steps: "
    assert_close(np.diag(found.h), krylov.alpha, f"{call}the diagonal of h", "alpha of lanczos", rtol=RTOL)
    assert_close(np.diag(found.h, -1), krylov.beta, f"{call}the subdiagonal of h", "beta of lanczos", rtol=RTOL)


def test_arnoldi_stays_orthogonal_where_one_pass_does_not():
    # Products nearly in the span of the basis: most of each is cancelled, and one pass leaves rounding of it enlarged.
    a = with_singular_values(np.geomspace(1, 1e-12, 30), 30, np.random.default_rng(2))
    check_arnoldi(a, arnoldi(a, start_for(30), 20), 20, "arnoldi of a matrix with singular values from 1 to 1e-12")


def test_arnoldi_stops_at_an_invariant_subspace():
    shift = np.roll(np.eye(5), 1, axis=0)
    check_arnoldi(shift, arnoldi(shift, np.eye(5)[2], 9), 5, "arnoldi of a cyclic shift, 9 steps", invariant=True)
    a = unsymmetric(12)
    a[4:, :4] = 0
    start = np.r_[0.5, -1.5, 2.5, 1.0, np.zeros(8)]
    call = "arnoldi of a block triangular matrix, the start in the first block of 4, 9 steps"
    found = arnoldi(a, start, 9)
    check_arnoldi(a, found, 4, call, invariant=True)
    zero = np.zeros((3, 3))
    check_arnoldi(zero, arnoldi(zero, np.ones(3), 2), 1, "arnoldi of the zero matrix", invariant=True)


def test_arnoldi_compares_a_remainder_with_all_entries():
    # Hessenberg matrices, and the first unit vector for a start: (2) gives them back without rounding. 1e-13 is no
    # rounding beside 2.5, but it is beside 60, wherever that stands.
    for place, n_steps in ((None, 4), ((0, 0), 2), ((1, 1), 2), ((0, 1), 2), ((1, 0), 2)):
        a = np.array([[0.5, 1.5, -0.75, 1.0], [1.25, 2.5, 0.5, 0.75], [0, 1e-13, 1.75, 0.5], [0, 0, 2.25, -1.5]])
        if place:
            a[place] = 60.0
        found = arnoldi(a, np.eye(4)[0], 6)
        call = f"arnoldi of a Hessenberg matrix with 1e-13 below its diagonal, and 60 at {place}"
        check_arnoldi(a, found, n_steps, call, invariant=True)
        assert_close(found.h, a[:n_steps, :n_steps], f"{call}: h", "the matrix", rtol=RTOL)


def test_arnoldi_takes_every_kind_of_operator_and_multiplies_once_in_each_step():
    a = unsymmetric(15)
    for name, operator in kinds(a).items():
        check_arnoldi(a, arnoldi(operator, start_for(15), 6), 6, f"arnoldi of {name}")
    counting = Counting(a)
    arnoldi(counting, start_for(15), 6)
    assert counting.products == 6, f"arnoldi, 6 steps, multiplied {counting.products} times with its operator"


@pytest.mark.parametrize("scale", SCALES)
def test_arnoldi_is_the_same_in_all_units(scale):
    a = unsymmetric(15)
    check_arnoldi(scale * a, arnoldi(scale * a, start_for(15), 6), 6, f"arnoldi({scale:g} * a, start, 6)")
    start = -np.abs(start_for(15)) * scale**1.3
    found = arnoldi(a, start, 6)
    call = f"arnoldi(a, start, 6) with a start of about -{scale**1.3:.0g}"
    check_arnoldi(a, found, 6, call)
    largest = np.abs(start).max()
    unit = start / largest / np.linalg.norm(start / largest)
    assert_close(found.q[:, 0], unit, f"the first column of {call}", "the start over its length", rtol=1e-12)


def test_arnoldi_keeps_float32_and_leaves_its_arrays_alone():
    a = unsymmetric(15).astype(np.float32)
    found = arnoldi(a, start_for(15).astype(np.float32), 6)
    assert found.q.dtype == found.h.dtype == np.float32, f"arnoldi in float32 returned {found.q.dtype}, {found.h.dtype}"
    check_arnoldi(a, found, 6, "arnoldi in float32", eps=EPS32)
    check_unchanged(lambda a, start: arnoldi(a, start, 3), unsymmetric(5), start_for(5))


@pytest.mark.given
def test_arnoldi_refuses_operators_that_are_none():
    for bad in (np.ones((3, 2)), np.zeros((0, 0)), np.ones(3)):
        with pytest.raises(ValueError, match="operator must"):
            arnoldi(bad, Q1, 2)


# arnoldi_ritz


def check_same_set(found, expected, call, because, atol):
    """Compare complex numbers in any order."""
    found, expected = np.asarray(found, dtype=complex), np.asarray(expected, dtype=complex)
    assert found.shape == expected.shape, f"{call} has the shape {found.shape}, expected {expected.shape}"
    order = np.lexsort((expected.imag, expected.real.round(6)))
    mine = np.lexsort((found.imag, found.real.round(6)))
    assert_close(found[mine].real, expected[order].real, f"the sorted real parts of {call}", because, rtol=0, atol=atol)
    assert_close(found[mine].imag, expected[order].imag, f"the imaginary parts of {call}", because, rtol=0, atol=atol)


def test_arnoldi_ritz_by_hand():
    # (0.5 - t)^2 + 1.5 * 0.24 = 0: t = 0.5 +- 0.6 i. s goes with (1.5, +- 0.6 i): its last entry is 0.6 / sqrt(2.61).
    ritz = arnoldi_ritz(np.array([[0.5, 1.5], [-0.24, 0.5], [0.0, 0.35]]))
    call = "arnoldi_ritz([[0.5, 1.5], [-0.24, 0.5], [0, 0.35]])"
    check_same_set(ritz.values, [0.5 - 0.6j, 0.5 + 0.6j], f"{call}.values", "the eigenvalues of H", atol=1e-12)
    expected = np.full(2, 0.35 * 0.6 / np.sqrt(2.61))
    assert_close(ritz.residuals, expected, f"{call}.residuals", "equation (7)", rtol=RTOL)
    # Real and different: t = 1.2 and -0.4, by the trace 0.8 and the determinant -0.48 = -0.2 - 0.5 * 0.56.
    ritz = arnoldi_ritz(np.array([[1.0, 0.5], [0.56, -0.2], [0.0, 0.75]]))
    call = "arnoldi_ritz([[1, 0.5], [0.56, -0.2], [0, 0.75]])"
    order = np.argsort(ritz.values.real)
    check_same_set(ritz.values, [-0.4, 1.2], f"{call}.values", "the eigenvalues of H", atol=1e-12)
    # s goes with (0.5, t - 1): (0.5, -1.4) and (0.5, 0.2).
    expected = 0.75 * np.array([1.4 / np.hypot(0.5, 1.4), 0.2 / np.hypot(0.5, 0.2)])
    assert_close(ritz.residuals[order], expected, f"{call}.residuals, by value,", "equation (7)", rtol=RTOL)


def test_arnoldi_ritz_tells_the_true_residuals():
    a = unsymmetric(30)
    found = arnoldi(a, start_for(30), 9)
    ritz = arnoldi_ritz(found.h)
    y = found.q[:, :9] @ ritz.coefficients
    lengths = np.linalg.norm(ritz.coefficients, axis=0)
    assert_close(lengths, np.ones(9), "the lengths of the coefficients of arnoldi_ritz", "1", rtol=1e-12)
    expected = np.linalg.norm(a @ y - y * ritz.values, axis=0)
    assert_close(ritz.residuals, expected, "the residuals of arnoldi_ritz", "||A y - theta y||, (7)", rtol=1e-8)


def test_arnoldi_ritz_of_all_steps_has_all_eigenvalues():
    a = unsymmetric(15)
    found = arnoldi(a, start_for(15), 15)
    ritz = arnoldi_ritz(found.h)
    # The eigenvalues of this matrix have condition numbers below 100.
    check_same_set(ritz.values, np.linalg.eigvals(a), "arnoldi_ritz after n steps, values", "those of a", atol=1e-10)
    assert_close(ritz.residuals, np.zeros(15), "arnoldi_ritz after n steps, residuals", "0: invariant", atol=0)


def test_arnoldi_ritz_finds_what_scipy_finds():
    a = np.diag(np.r_[np.linspace(-1, 1, 97), 3.0, -2.5, 2.0]) + 0.5 * np.diag(np.ones(99), 1)
    ritz = arnoldi_ritz(arnoldi(scipy.sparse.csr_array(a), start_for(100), 40).h)
    expected = scipy.sparse.linalg.eigs(a, k=3, v0=start_for(100), return_eigenvectors=False)
    best = np.argsort(-np.abs(ritz.values))[:3]
    check_same_set(ritz.values[best], expected, "the largest values of arnoldi_ritz", "scipy's eigs", atol=1e-7)
    assert (ritz.residuals[best] < 1e-6).all(), f"their residuals are {ritz.residuals[best]}, expected below 1e-6"


def test_arnoldi_ritz_of_one_step():
    ritz = arnoldi_ritz(np.array([[-2.5], [0.75]]))
    assert_close(ritz.residuals, np.array([0.75]), "arnoldi_ritz([[-2.5], [0.75]]).residuals", "h21, as s = 1")
    ritz = arnoldi_ritz(np.array([[-2.5]]))
    assert_close(ritz.residuals, np.array([0.0]), "arnoldi_ritz([[-2.5]]).residuals", "0: invariant")


def test_arnoldi_ritz_keeps_float32_and_leaves_its_array_alone():
    for h in (np.array([[1.0, 0.5], [0.56, -0.2], [0.0, 0.75]]), np.array([[1.0, 0.5], [0.56, -0.2]])):
        dtype = arnoldi_ritz(h.astype(np.float32)).residuals.dtype
        assert dtype == np.float32, f"arnoldi_ritz in float32 returned residuals of {dtype}"
        check_unchanged(arnoldi_ritz, h)


@pytest.mark.given
def test_arnoldi_ritz_refuses_what_is_no_hessenberg_matrix():
    for h in (np.ones((3, 1)), np.ones((1, 2)), np.ones(2), np.array([[np.nan]]), np.zeros((0, 0))):
        with pytest.raises(ValueError, match="h must"):
            arnoldi_ritz(h)
