"""Shared tests of linalg/power_iteration: run on the reference, and on the learner's file.

Eigenvectors are compared up to their sign, and a pair by its backward error ||A v - value v|| / ||A||, never by digits that
happen to agree. Most matrices are made from planted eigenvalues. For two orthonormal eigenvectors there are closed forms:
with x = (v1 + d v2) / sqrt(1 + d^2) the Rayleigh quotient is (l1 + d^2 l2) / (1 + d^2), and the residual has the length
|l1 - l2| d / (1 + d^2). RTOL = 1e-9 leaves a factor of 1e6 for rounding.
"""

import warnings

import numpy as np
import pytest

from mlpath.linalg._shared import hilbert, wilkinson_eigenvalues
from mlpath.linalg.power_iteration import (
    convergence_ratio,
    deflate,
    inverse_iteration,
    iterate,
    power_iteration,
    rayleigh_quotient,
    rayleigh_quotient_iteration,
    top_eigenpairs,
)
from mlpath.testing import assert_close

RTOL = 1e-9
EPS = float(np.finfo(float).eps)
SCALES = [1e-150, 1e150]

# Two orthonormal vectors, and the symmetric matrix with the eigenvalues 5 and -2 along them.
V1, V2 = np.array([0.6, 0.8]), np.array([0.8, -0.6])
PLANE = 5 * np.outer(V1, V1) - 2 * np.outer(V2, V2)
PLANE_NORM = 29**0.5
# By hand: neither symmetric nor of small whole numbers.
HAND = np.array([[1.5, -2.0, 0.25], [3.0, 0.5, 4.0], [-1.0, 2.5, 7.0]])
X = np.array([2.0, -1.0, 3.0])


def symmetric(values, seed=0):
    """A symmetric matrix with the given eigenvalues, and its eigenvectors."""
    vectors = np.linalg.qr(np.random.default_rng([seed, len(values)]).normal(size=(len(values), len(values))))[0]
    a = vectors * np.asarray(values, dtype=float) @ vectors.T
    return (a + a.T) / 2, vectors


def unsymmetric(values, seed=0):
    """A matrix with the given eigenvalues and eigenvectors that are far from orthogonal, and these, of length 1."""
    n = len(values)
    q = symmetric(values, seed)[1]
    vectors = q + 0.5 * q @ np.triu(np.ones((n, n)), 1) / n**0.5
    vectors = vectors / np.linalg.norm(vectors, axis=0)
    return vectors * np.asarray(values, dtype=float) @ np.linalg.inv(vectors), vectors


def start_for(a, seed=1):
    return np.random.default_rng([seed, len(a)]).normal(size=len(a))


def backward_error(a, value, vector):
    a, vector = a.astype(float), vector.astype(float)
    size = np.abs(a).max() or 1.0
    return np.linalg.norm(a / size @ vector - value / size * vector) / (np.linalg.norm(a / size) or 1.0)


def check_pair(a, pair, value, call, vector=None, eps=EPS):
    """The pair has converged, belongs to the eigenvalue, and is as good as it says."""
    n = len(a)
    assert pair.converged, (
        f"{call} returned converged={pair.converged} after {pair.iterations} steps, with the residuals {pair.residuals}; "
        "expected it to converge"
    )
    assert pair.vector.shape == (n,), f"{call} returned a vector of shape {pair.vector.shape}, expected {(n,)}"
    length = np.linalg.norm(pair.vector.astype(float))
    assert abs(length - 1) <= 10 * n * eps, f"{call} returned a vector of length {length}, expected 1"
    error = backward_error(a, pair.value, pair.vector)
    # The default tolerance is 10 n eps; as much again for the rounding of the residual.
    assert error <= 20 * n * eps, (
        f"{call} returned the value {pair.value:.9g} and a vector with a backward error (2) of {error:.2g}, expected at "
        f"most {20 * n * eps:.2g}"
    )
    # The condition of a planted eigenvalue is below 50 here.
    atol = 1000 * n * eps * float(np.abs(a).max() * n)
    assert_close(pair.value, value, f"{call}.value", "the planted eigenvalue", rtol=0, atol=atol)
    assert len(pair.residuals) == pair.iterations + 1, (
        f"{call} returned {len(pair.residuals)} residuals for {pair.iterations} steps, expected one more than steps"
    )
    if vector is not None:
        check_direction(pair.vector, vector, f"{call}.vector", "the planted eigenvector", atol=1e6 * n * eps)


def check_direction(found, expected, call, why, atol=1e-12):
    """Compare two vectors up to their sign."""
    assert found.shape == expected.shape, f"{call} has the shape {found.shape}, expected {expected.shape}"
    sign = 1.0 if found @ expected >= 0 else -1.0
    assert_close(sign * found, expected, f"{call}, up to its sign,", why, rtol=RTOL, atol=atol)


def check_honest(a, run, call):
    """It raises LinAlgError, or says that it did not converge, or returns an eigenpair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pair = run()
        except np.linalg.LinAlgError:
            return
    if pair.converged:
        error = backward_error(a, pair.value, pair.vector)
        assert error <= 20 * len(a) * EPS, f"{call} says it converged, but has a backward error (2) of {error:.2g}"


def check_flagged(pair, steps, call):
    assert not pair.converged, f"{call} returned converged=True with the value {pair.value:.6g}, expected False"
    assert pair.iterations == steps, f"{call} took {pair.iterations} steps, expected the limit of {steps}"
    assert len(pair.residuals) == steps + 1, f"{call} returned {len(pair.residuals)} residuals, expected {steps + 1}"


def check_unchanged(function, *arrays):
    copies = [array.copy() for array in arrays]
    function(*arrays)
    for array, copy in zip(arrays, copies, strict=True):
        assert np.array_equal(array, copy), (
            f"an argument was {copy.tolist()} before the call, {array.tolist()} after it"
        )


# rayleigh_quotient


def test_rayleigh_quotient_by_hand():
    # A x = (5.75, 17.5, 16.5), so x'A x = 43.5, and x'x = 14.
    call = f"rayleigh_quotient({HAND.tolist()}, {X.tolist()})"
    assert_close(rayleigh_quotient(HAND, X), 43.5 / 14, call, "equation (1)", rtol=RTOL)


def test_rayleigh_quotient_leaves_the_least_residual():
    a = np.random.default_rng(3).normal(1, 2, (17, 17))
    x = np.random.default_rng(4).normal(-1, 2, 17)
    expected = np.linalg.lstsq(x[:, None], a @ x, rcond=None)[0][0]
    call = "rayleigh_quotient of a random 17 x 17 matrix"
    assert_close(rayleigh_quotient(a, x), expected, call, "least squares", rtol=RTOL)


def test_rayleigh_quotient_of_an_eigenvector_is_its_eigenvalue():
    values = [4.5, -3.25, 1.5, 0.75, -0.5]
    for a, vectors in (symmetric(values), unsymmetric(values)):
        found = [rayleigh_quotient(a, -3 * vector) for vector in vectors.T]
        assert_close(np.array(found), np.array(values), "rayleigh_quotient(a, -3 * v)", "the eigenvalues", rtol=RTOL)


def test_rayleigh_quotient_is_off_by_the_square_of_the_error_if_the_matrix_is_symmetric():
    for d in (1e-2, 1e-4):
        found = 5 - rayleigh_quotient(PLANE, V1 + d * V2)
        expected = 7 * d**2 / (1 + d**2)
        call = f"5 - rayleigh_quotient(a, v1 + {d} v2)"
        assert_close(found, expected, call, "equation (8)", rtol=1e-5, atol=0)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_rayleigh_quotient_takes_vectors_of_any_length(scale):
    call = f"rayleigh_quotient(a, {scale:g} * x)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_close(rayleigh_quotient(HAND, scale * X), 43.5 / 14, call, "the same for all multiples", rtol=RTOL)


@pytest.mark.parametrize("scale", SCALES)
def test_rayleigh_quotient_takes_matrices_in_all_units(scale):
    call = f"rayleigh_quotient({scale:g} * a, x) / {scale:g}"
    assert_close(rayleigh_quotient(scale * HAND, X) / scale, 43.5 / 14, call, "equation (1)", rtol=RTOL)


def test_rayleigh_quotient_takes_whole_numbers_and_float32():
    found = rayleigh_quotient(np.array([[3, 1], [2, 4]]), np.array([1, 2]))
    assert_close(found, 25 / 5, "rayleigh_quotient([[3, 1], [2, 4]], [1, 2])", "equation (1)", rtol=RTOL)
    found = rayleigh_quotient(HAND.astype(np.float32), X.astype(np.float32))
    assert_close(found, 43.5 / 14, "rayleigh_quotient in float32", "equation (1)", rtol=1e-5)


def test_rayleigh_quotient_leaves_its_arrays_alone():
    check_unchanged(rayleigh_quotient, HAND.copy(), X.copy())


# iterate


def plane(d):
    """The unit vector along v1 + d v2, its Rayleigh quotient and its backward error in PLANE."""
    return (V1 + d * V2) / (1 + d * d) ** 0.5, (5 - 2 * d * d) / (1 + d * d), 7 * abs(d) / (1 + d * d) / PLANE_NORM


def plane_step(x, value):
    """A power step in PLANE, much too long."""
    return 30 * (PLANE @ x)


def test_iterate_follows_the_steps():
    # Each product multiplies d by -2/5.
    pair = iterate(PLANE, plane_step, 2.5 * (V1 + 1.7 * V2), max_iterations=3)
    expected = [plane(1.7 * (-0.4) ** k) for k in range(4)]
    call = "iterate(a, step, start, max_iterations=3)"
    assert pair.iterations == 3, f"{call} took {pair.iterations} steps, expected 3"
    assert_close(
        pair.residuals, np.array([e[2] for e in expected]), f"{call}.residuals", "the left side of (2)", rtol=RTOL
    )
    assert_close(pair.value, expected[3][1], f"{call}.value", "equation (1) of the last vector", rtol=RTOL)
    check_direction(pair.vector, expected[3][0], f"{call}.vector", "the third step, of length 1")
    assert not pair.converged, f"{call} says it converged, with a residual of {pair.residuals[-1]:.3g}"


def test_iterate_hands_over_the_vector_at_length_1_and_its_rayleigh_quotient():
    seen = []

    def step(x, value):
        seen.append((x.copy(), value))
        return HAND.T @ x

    iterate(HAND, step, X, max_iterations=3)
    assert len(seen) == 3, f"iterate(..., max_iterations=3) called step {len(seen)} times, expected 3"
    expected = X
    for k, (x, value) in enumerate(seen):
        expected = expected / np.linalg.norm(expected)
        check_direction(x, expected, f"the vector handed to step {k}", "the one before, of length 1")
        expected_value = expected @ HAND @ expected
        assert_close(value, expected_value, f"the value handed to step {k}", "equation (1) of that vector", rtol=RTOL)
        expected = HAND.T @ expected


@pytest.mark.parametrize("tol", [0.3, 1e-2, 1e-5, 1e-9])
def test_iterate_stops_at_the_first_vector_that_is_good_enough(tol):
    pair = iterate(PLANE, plane_step, V1 + 1.7 * V2, tol=tol)
    residuals = [plane(1.7 * (-0.4) ** k)[2] for k in range(40)]
    expected = next(k for k, r in enumerate(residuals) if r <= tol)
    call = f"iterate(a, step, start, tol={tol})"
    assert pair.converged, f"{call} returned converged=False, with the residuals {pair.residuals}"
    assert pair.iterations == expected, (
        f"{call} took {pair.iterations} steps and left {pair.residuals[-1]:.3g}, expected {expected} steps: (2) holds first "
        f"for {residuals[expected]:.3g}"
    )
    assert_close(pair.residuals, np.array(residuals[: expected + 1]), f"{call}.residuals", "(2)", rtol=1e-6)
    check_direction(pair.vector, plane(1.7 * (-0.4) ** expected)[0], f"{call}.vector", "the last step")


def test_iterate_takes_no_step_from_an_eigenvector():
    for a, start, value in ((PLANE, 7 * V2, -2.0), (np.zeros((3, 3)), X, 0.0)):
        pair = iterate(a, lambda x, _, a=a: a @ x, start)
        call = f"iterate(a, step, v) with a = {a.tolist()} and an eigenvector v"
        check_pair(a, pair, value, call, start / np.linalg.norm(start))
        assert pair.iterations == 0, f"{call} took {pair.iterations} steps, expected 0"


def test_iterate_counts_the_last_step_that_is_allowed():
    residuals = [plane(1.7 * (-0.4) ** k)[2] for k in range(40)]
    needed = next(k for k, r in enumerate(residuals) if r <= 1e-6)
    pair = iterate(PLANE, plane_step, V1 + 1.7 * V2, tol=1e-6, max_iterations=needed)
    assert pair.converged, f"iterate with max_iterations={needed}, the number it needs, returned converged=False"
    pair = iterate(PLANE, plane_step, V1 + 1.7 * V2, tol=1e-6, max_iterations=needed - 1)
    check_flagged(pair, needed - 1, f"iterate with max_iterations={needed - 1}, one less than it needs,")


def test_iterate_is_content_with_a_residual_that_equals_its_tolerance():
    residuals = iterate(PLANE, plane_step, V1 + 1.7 * V2, max_iterations=5).residuals
    pair = iterate(PLANE, plane_step, V1 + 1.7 * V2, tol=float(residuals[2]))
    call = f"iterate(a, step, start, tol=r), with the residual r = {residuals[2]:.4g} after 2 steps,"
    assert pair.converged and pair.iterations == 2, (
        f"{call} returned converged={pair.converged} after {pair.iterations} steps, expected True after 2, by (2)"
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_iterate_goes_on_to_ten_n_eps_by_default(dtype):
    a = symmetric([8.0, 3.0, 1.0, -2.0, 0.5])[0].astype(dtype)
    tol = 10 * 5 * float(np.finfo(dtype).eps)
    pair = iterate(a, lambda x, _: a @ x, np.ones(5, dtype=dtype))
    call = f"iterate of a 5 x 5 matrix in {np.dtype(dtype)}"
    assert pair.vector.dtype == dtype, f"{call} returned a vector of {pair.vector.dtype}"
    assert pair.converged and pair.residuals[-1] <= tol, f"{call} left {pair.residuals}, expected {tol:.2g} at last"
    assert (pair.residuals[:-1] > tol).all(), f"{call} went on after it came to {tol:.2g}: {pair.residuals}"


def test_iterate_does_not_mind_that_the_sign_changes_at_each_step():
    pair = iterate(-PLANE, lambda x, _: -PLANE @ x, V1 + 1.7 * V2)
    check_pair(-PLANE, pair, -5.0, "iterate of a matrix whose largest eigenvalue is -5", V1)


def test_iterate_says_so_if_a_step_leads_nowhere():
    for bad in (np.zeros(2), np.array([1.0, np.nan]), np.array([np.inf, 1.0])):
        with pytest.raises(np.linalg.LinAlgError):
            iterate(PLANE, lambda x, _, bad=bad: bad, V1 + V2)


@pytest.mark.parametrize("scale", SCALES)
def test_iterate_is_the_same_in_all_units(scale):
    for start_scale in (1, 1e-200, 1e200):
        a = scale * PLANE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pair = iterate(a, lambda x, _, a=a: a @ x, start_scale * (V1 + 1.7 * V2), max_iterations=3)
        expected = [plane(1.7 * (-0.4) ** k) for k in range(4)]
        call = f"iterate({scale:g} * a, step, {start_scale:g} * start, max_iterations=3)"
        assert_close(pair.residuals, np.array([e[2] for e in expected]), f"{call}.residuals", "(2)", rtol=RTOL)
        assert_close(pair.value / scale, expected[3][1], f"{call}.value / {scale:g}", "(1)", rtol=RTOL)


def test_iterate_leaves_its_arrays_alone():
    check_unchanged(lambda a, x: iterate(a, lambda x, _: a @ x, x, max_iterations=4), PLANE.copy(), V1 + V2)


# power_iteration


def test_power_iteration_by_hand():
    call = "power_iteration(a, [2, -1, 3], shift=0.5, max_iterations=1)"
    # (A - 0.5 I) x = (5.75, 17.5, 16.5) - (1, -0.5, 1.5).
    y = np.array([4.75, 18.0, 15.0])
    pair = power_iteration(HAND, X, shift=0.5, max_iterations=1)
    check_direction(pair.vector, y / np.linalg.norm(y), f"{call}.vector", "equation (3)")
    # A y = (-25.125, 83.25, 145.25).
    expected = (4.75 * -25.125 + 18 * 83.25 + 15 * 145.25) / (y @ y)
    assert_close(pair.value, expected, f"{call}.value", "equation (1), in a itself", rtol=RTOL)


@pytest.mark.parametrize("make", [symmetric, unsymmetric])
@pytest.mark.parametrize(
    "values", [[6.0, 2.5, -1.0], np.r_[7.5, np.linspace(-5, 5, 11)], np.r_[-9.0, np.linspace(-5, 5, 39)]]
)
def test_power_iteration_finds_the_eigenvalue_of_largest_modulus(make, values):
    a, vectors = make(values)
    pair = power_iteration(a, start_for(a), max_iterations=150)
    check_pair(a, pair, values[0], f"power_iteration of a {make.__name__} matrix, n = {len(a)},", vectors[:, 0])


def test_power_iteration_agrees_with_numpy():
    a = hilbert(9, 9)
    values, vectors = np.linalg.eigh(a)
    check_pair(a, power_iteration(a, np.ones(9)), values[-1], "power_iteration(hilbert(9, 9), ones)", vectors[:, -1])


@pytest.mark.parametrize(("shift", "index"), [(-4.0, 0), (4.0, 1), (9.0, 1), (-2.0, 0)])
def test_power_iteration_with_a_shift_finds_the_farthest_eigenvalue(shift, index):
    values = np.array([6.0, -5.5, 2.0, 1.0, -3.0])
    for make in (symmetric, unsymmetric):
        a, vectors = make(values)
        pair = power_iteration(a, start_for(a), shift=shift, max_iterations=300)
        check_pair(a, pair, values[index], f"power_iteration(a, start, shift={shift})", vectors[:, index])


def test_power_iteration_is_as_fast_as_the_ratio_says():
    # From equal parts of all eigenvectors: the tangent of the angle to the first is at most 2 q^k, for n = 5.
    values = np.array([6.0, -5.0, 2.0, 1.0, -3.0])
    a, vectors = symmetric(values)
    for shift, q in ((0.0, 5 / 6), (-1.5, 3.5 / 7.5)):
        pair = power_iteration(a, vectors.sum(axis=1), shift=shift, tol=1e-9, max_iterations=300)
        call = f"power_iteration(a, start, shift={shift}, tol=1e-9)"
        # The residual is at most the spread of the eigenvalues, 11, times that; at the end it is that of one vector.
        most = int(np.ceil(np.log(2 * 11 / (1e-9 * np.linalg.norm(a))) / np.log(1 / q))) + 2
        assert pair.converged and most / 3 <= pair.iterations <= most, (
            f"{call} took {pair.iterations} steps, expected at most {most}, by the ratio {q:.3g} of (5)"
        )
        late = pair.residuals[-1] / pair.residuals[-2]
        assert abs(late - q) < 0.02, f"{call} reduced the last residual by {late:.4g}, expected {q:.4g}, by (5)"


def test_power_iteration_says_so_if_two_eigenvalues_tie():
    turning = np.array([[0.0, -2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    for a, name in (
        (symmetric([3.0, -3.0, 1.0, 0.5])[0], "eigenvalues 3, -3, 1 and 0.5"),
        (turning, "eigenvalues 2i, -2i and 1"),
    ):
        check_flagged(
            power_iteration(a, start_for(a), max_iterations=60), 60, f"power_iteration of a matrix with the {name}"
        )


def test_power_iteration_breaks_a_tie_by_a_shift():
    a, vectors = symmetric([3.0, -3.0, 1.0, 0.5])
    check_pair(a, power_iteration(a, start_for(a), shift=-1.0), 3.0, "power_iteration(a, shift=-1)", vectors[:, 0])


def test_power_iteration_says_so_if_it_is_too_slow():
    a = symmetric([1.0, 0.999, 0.5])[0]
    check_flagged(power_iteration(a, start_for(a), max_iterations=30), 30, "power_iteration of a matrix with q = 0.999")


def test_power_iteration_takes_an_eigenvalue_that_is_there_twice():
    a = symmetric([-4.0, -4.0, 2.0, 1.0])[0]
    check_pair(a, power_iteration(a, start_for(a)), -4.0, "power_iteration of a matrix with the eigenvalue -4 twice")


def test_power_iteration_without_a_part_along_the_first_finds_another():
    a = np.diag([3.0, 2.0, 1.0])
    pair = power_iteration(a, np.array([0.0, 1.0, 1.0]))
    check_pair(a, pair, 2.0, "power_iteration(diag(3, 2, 1), (0, 1, 1))", np.array([0.0, 1.0, 0.0]))


@pytest.mark.parametrize("scale", SCALES)
def test_power_iteration_is_the_same_in_all_units(scale):
    a, vectors = unsymmetric([6.0, 2.5, -1.0])
    pair = power_iteration(scale * a, X, shift=-scale)
    check_pair(scale * a, pair, 6 * scale, f"power_iteration({scale:g} * a)", vectors[:, 0])


def test_power_iteration_keeps_float32():
    a, _ = symmetric([6.0, 2.5, -1.0])
    pair = power_iteration(a.astype(np.float32), X.astype(np.float32), shift=-0.5)
    assert pair.vector.dtype == np.float32, f"power_iteration in float32 returned a vector of {pair.vector.dtype}"
    check_pair(a.astype(np.float32), pair, 6.0, "power_iteration in float32", eps=float(np.finfo(np.float32).eps))


def test_power_iteration_ranks_pages():
    # links[i, j]: page j links to page i. Somebody follows a link with probability 0.85, or goes to any page.
    links = np.array([[0, 1, 1, 0, 0], [1, 0, 0, 0, 1], [1, 1, 0, 1, 1], [0, 0, 0, 0, 1], [0, 1, 0, 0, 0]])
    follow = links / links.sum(axis=0)
    a = 0.85 * follow + 0.15 / 5
    pair = power_iteration(a, np.ones(5))
    expected = np.linalg.solve(np.eye(5) - 0.85 * follow, np.full(5, 0.15 / 5))
    call = "power_iteration of the transition matrix of five pages"
    check_pair(a, pair, 1.0, call)
    assert_close(
        pair.vector / pair.vector.sum(), expected, f"{call}, divided by its sum,", "a linear system", rtol=RTOL
    )
    most = int(np.ceil(np.log(100 / EPS) / np.log(1 / 0.85)))
    assert pair.iterations <= most, f"{call} took {pair.iterations} steps, expected at most {most}: q is at most 0.85"


def test_power_iteration_leaves_its_arrays_alone():
    check_unchanged(lambda a, x: power_iteration(a, x, shift=0.5, max_iterations=4), HAND.copy(), X.copy())


# inverse_iteration


def test_inverse_iteration_by_hand():
    # (A - 0.5 I) x = y of the test above, so from y one step leads to x.
    y = np.array([4.75, 18.0, 15.0])
    call = "inverse_iteration(a, [4.75, 18, 15], shift=0.5, max_iterations=1)"
    pair = inverse_iteration(HAND, y, shift=0.5, max_iterations=1)
    check_direction(pair.vector, X / 14**0.5, f"{call}.vector", "equation (6)")
    assert_close(pair.value, 43.5 / 14, f"{call}.value", "equation (1), in a itself", rtol=RTOL)


@pytest.mark.parametrize("shift", [0.0, 5.2, -2.6, 2.2, 9.0])
@pytest.mark.parametrize("make", [symmetric, unsymmetric])
def test_inverse_iteration_finds_the_nearest_eigenvalue(make, shift):
    values = np.array([6.0, -5.0, 2.0, 0.5, -3.0, 4.0, -0.75, 1.25])
    a, vectors = make(values)
    nearest = int(np.abs(values - shift).argmin())
    pair = inverse_iteration(a, start_for(a), shift=shift, max_iterations=120)
    call = f"inverse_iteration of a {make.__name__} matrix, shift={shift},"
    check_pair(a, pair, values[nearest], call, vectors[:, nearest])


def test_inverse_iteration_is_as_fast_as_the_ratio_says():
    a, vectors = symmetric([6.0, -5.0, 2.0, 1.0, -3.0])
    pair = inverse_iteration(a, vectors.sum(axis=1), shift=2.25, tol=1e-12, max_iterations=100)
    late = pair.residuals[-1] / pair.residuals[-2]
    call = "inverse_iteration(a, start, shift=2.25), with the nearest eigenvalues 2 and 1,"
    assert abs(late - 0.2) < 0.01, f"{call} reduced the last residual by {late:.4g}, expected 0.2, by (7)"
    assert pair.iterations <= 20, f"{call} took {pair.iterations} steps, expected some 17, by (7)"


@pytest.mark.parametrize(
    ("a", "shift"),
    [
        (np.array([[2.0, 1.0], [1.0, 2.0]]), 3.0),
        (np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 1.0, 1.0]]), 0.0),
        (np.diag([2.0, 2.0, 5.0]), 2.0),
        (np.diag([2.0, 7.0, 5.0, 1.0]), 5.0),
        (symmetric([6.0, -5.0, 2.0])[0], -5.0),
        (1e150 * np.array([[2.0, 1.0], [1.0, 2.0]]), 3e150),
        (1e-150 * np.array([[2.0, 1.0], [1.0, 2.0]]), 1e-150),
        (wilkinson_eigenvalues(21), float(np.linalg.eigvalsh(wilkinson_eigenvalues(21))[-1])),
    ],
)
def test_inverse_iteration_takes_an_eigenvalue_for_a_shift(a, shift):
    call = f"inverse_iteration(a, start, shift={shift:g}), where {shift:g} is an eigenvalue,"
    pair = inverse_iteration(a, start_for(a), shift=shift, max_iterations=20)
    check_pair(a, pair, shift, call)
    assert pair.iterations <= 3, f"{call} took {pair.iterations} steps, expected 1 or 2: q = 0 in (7)"


def test_inverse_iteration_takes_the_zero_matrix():
    a = np.zeros((3, 3))
    for shift in (0.0, 1.5):
        check_pair(a, inverse_iteration(a, X, shift=shift), 0.0, f"inverse_iteration(zeros, start, shift={shift})")


def test_inverse_iteration_says_so_if_two_eigenvalues_tie():
    a = symmetric([4.0, 1.0, 9.0])[0]
    pair = inverse_iteration(a, start_for(a), shift=2.5, max_iterations=40)
    check_flagged(pair, 40, "inverse_iteration(a, shift=2.5), with the eigenvalues 4, 1 and 9,")


@pytest.mark.parametrize("n", [3, 40])
def test_inverse_iteration_never_returns_a_wrong_pair_silently(n):
    # One eigenvector for an eigenvalue n times: solutions overflow for the larger.
    a = np.eye(n, k=1)
    check_honest(
        a, lambda: inverse_iteration(a, np.arange(1.0, n + 1)), f"inverse_iteration of a {n} x {n} Jordan block"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_inverse_iteration_is_the_same_in_all_units(scale):
    a, vectors = unsymmetric([6.0, 2.5, -1.0])
    pair = inverse_iteration(scale * a, X, shift=2 * scale)
    check_pair(scale * a, pair, 2.5 * scale, f"inverse_iteration({scale:g} * a)", vectors[:, 1])


def test_inverse_iteration_keeps_float32():
    a, _ = symmetric([6.0, 2.5, -1.0])
    for shift in (2.0, 2.5):
        pair = inverse_iteration(a.astype(np.float32), X.astype(np.float32), shift=shift)
        assert pair.vector.dtype == np.float32, f"inverse_iteration in float32 returned a vector of {pair.vector.dtype}"
        check_pair(a.astype(np.float32), pair, 2.5, "inverse_iteration in float32", eps=float(np.finfo(np.float32).eps))


def test_inverse_iteration_leaves_its_arrays_alone():
    check_unchanged(lambda a, x: inverse_iteration(a, x, shift=0.5, max_iterations=4), HAND.copy(), X.copy())


# rayleigh_quotient_iteration


@pytest.mark.parametrize("d", [0.6, -0.3, 0.05])
def test_rayleigh_quotient_iteration_cubes_the_error_in_the_plane(d):
    # By (8), for any symmetric 2 x 2 matrix: d becomes -d^3.
    pair = rayleigh_quotient_iteration(PLANE, 3 * (V1 + d * V2), max_iterations=2, tol=1e-14)
    call = f"rayleigh_quotient_iteration(a, v1 + {d} v2, max_iterations=2)"
    expected = np.array([plane(d ** (3**k))[2] for k in range(len(pair.residuals))])
    assert len(expected) == 3, f"{call} returned {len(expected)} residuals, expected 3"
    assert_close(pair.residuals, expected, f"{call}.residuals", "(2) for d, d^3 and d^9", rtol=1e-6, atol=1e-15)
    check_direction(pair.vector, plane(d**9)[0], f"{call}.vector", "d^9, by (8)")


def test_rayleigh_quotient_iteration_is_cubic_for_symmetric_matrices():
    a, vectors = symmetric(np.linspace(-4, 5, 16) ** 3)
    for index in (3, 9, 15):
        start = vectors[:, index] + 0.02 * start_for(a)
        pair = rayleigh_quotient_iteration(a, start)
        check_pair(a, pair, (np.linspace(-4, 5, 16) ** 3)[index], "rayleigh_quotient_iteration", vectors[:, index])
        # From (8), an error of 0.1 in the vector: 1e-3, 1e-9, 1e-27, times what the spread of the eigenvalues does.
        assert pair.iterations <= 5, f"rayleigh_quotient_iteration took {pair.iterations} steps, expected at most 5"


def test_rayleigh_quotient_iteration_has_the_exponent_3_with_symmetry_and_2_without():
    values = np.array([6.0, -5.0, 2.0, 0.5, -3.0])
    for make, exponent in ((symmetric, 3), (unsymmetric, 2)):
        a, vectors = make(values)
        for d in (1e-2, 1e-3):
            pair = rayleigh_quotient_iteration(a, vectors[:, 2] + d * start_for(a), max_iterations=1, tol=1e-15)
            before, after = pair.residuals
            assert after <= 30 * before**exponent, (
                f"rayleigh_quotient_iteration of a {make.__name__} matrix brought the residual (2) from {before:.3g} to "
                f"{after:.3g} in a step, expected at most 30 times the power {exponent} of it"
            )


@pytest.mark.parametrize("make", [symmetric, unsymmetric])
def test_rayleigh_quotient_iteration_finds_the_eigenpair_near_its_start(make):
    values = np.array([6.0, -5.0, 2.0, 0.5, -3.0])
    a, vectors = make(values)
    for index, value in enumerate(values):
        pair = rayleigh_quotient_iteration(a, vectors[:, index] + 0.01 * start_for(a))
        call = f"rayleigh_quotient_iteration of a {make.__name__} matrix from near the eigenvector for {value}"
        check_pair(a, pair, value, call, vectors[:, index])
        assert pair.iterations <= 6, f"{call} took {pair.iterations} steps, expected at most 6"


def test_rayleigh_quotient_iteration_finds_some_eigenpair_from_anywhere():
    values = np.linspace(-4, 5, 16) ** 3
    a, _ = symmetric(values)
    for seed in range(5):
        pair = rayleigh_quotient_iteration(a, start_for(a, seed))
        nearest = values[np.abs(values - pair.value).argmin()]
        check_pair(a, pair, nearest, "rayleigh_quotient_iteration from a random start")


def test_rayleigh_quotient_iteration_meets_an_eigenvalue_on_its_way():
    # The first quotient is 2 to rounding, and 2 is an eigenvalue: the system is singular.
    a = np.diag([1.0, 2.0, 3.0, 7.0])
    pair = rayleigh_quotient_iteration(a, np.array([1.0, 0.5, 1.0, 0.0]))
    check_pair(a, pair, 2.0, "rayleigh_quotient_iteration(diag(1, 2, 3, 7), (1, 0.5, 1, 0))", np.eye(4)[1])
    # Here it is so with nothing along that eigenvector: the quotient may stay where it is.
    check_honest(
        a, lambda: rayleigh_quotient_iteration(a, np.array([1.0, 0.0, 1.0, 0.0])), "rayleigh_quotient_iteration"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_rayleigh_quotient_iteration_is_the_same_in_all_units(scale):
    a, vectors = symmetric([6.0, 2.5, -1.0])
    pair = rayleigh_quotient_iteration(scale * a, vectors[:, 1] + 0.1 * X)
    check_pair(scale * a, pair, 2.5 * scale, f"rayleigh_quotient_iteration({scale:g} * a)", vectors[:, 1])


def test_rayleigh_quotient_iteration_keeps_float32():
    a, vectors = symmetric([6.0, 2.5, -1.0])
    pair = rayleigh_quotient_iteration(a.astype(np.float32), (vectors[:, 1] + 0.1 * X).astype(np.float32))
    assert pair.vector.dtype == np.float32, f"it returned a vector of {pair.vector.dtype}, expected float32"
    check_pair(
        a.astype(np.float32), pair, 2.5, "rayleigh_quotient_iteration in float32", eps=float(np.finfo(np.float32).eps)
    )


def test_rayleigh_quotient_iteration_leaves_its_arrays_alone():
    check_unchanged(lambda a, x: rayleigh_quotient_iteration(a, x, max_iterations=3), HAND.copy(), X.copy())


# deflate


def test_deflate_by_hand():
    # v has the squared length 3.25: 1.3 / 3.25 = 0.4.
    a, v = np.array([[3.0, 1.5], [-0.25, 2.0]]), np.array([1.5, -1.0])
    expected = np.array([[3.0 - 0.9, 1.5 + 0.6], [-0.25 + 0.6, 2.0 - 0.4]])
    call = f"deflate({a.tolist()}, 1.3, {v.tolist()})"
    assert_close(deflate(a, 1.3, v), expected, call, "equation (9) with w = v", rtol=RTOL)
    # w'v = 0.75 - 2 = -1.25: 1.3 / -1.25 = -1.04.
    w = np.array([0.5, 2.0])
    expected = a + 1.04 * np.array([[0.75, 3.0], [-0.5, -2.0]])
    call = f"deflate({a.tolist()}, 1.3, {v.tolist()}, {w.tolist()})"
    assert_close(deflate(a, 1.3, v, w), expected, call, "equation (9)", rtol=RTOL)


def test_deflate_turns_one_eigenvalue_of_a_symmetric_matrix_into_0():
    values = np.array([6.0, -5.0, 2.0, 0.5, -3.0])
    a, vectors = symmetric(values)
    for index, value in enumerate(values):
        kept = np.where(np.arange(5) == index, 0, values)
        found = deflate(a, value, -2.5 * vectors[:, index])
        call = f"deflate(a, {value}, -2.5 * v)"
        assert_close(found @ vectors, vectors * kept, f"{call} @ vectors", "0, and the others", rtol=RTOL, atol=1e-12)


def test_deflate_with_a_left_eigenvector_keeps_the_other_right_ones():
    values = np.array([6.0, -5.0, 2.0, 0.5, -3.0])
    a, vectors = unsymmetric(values)
    left = np.linalg.inv(vectors).T
    for index, value in enumerate(values):
        kept = np.where(np.arange(5) == index, 0, values)
        found = deflate(a, value, -2.5 * vectors[:, index], 0.3 * left[:, index])
        call = f"deflate(a, {value}, -2.5 * v, 0.3 * w)"
        assert_close(found @ vectors, vectors * kept, f"{call} @ vectors", "equation (9)", rtol=RTOL, atol=1e-12)


def test_deflate_without_a_left_eigenvector_keeps_the_eigenvalues():
    values = np.array([6.0, -5.0, 2.0, 0.5, -3.0])
    a, vectors = unsymmetric(values)
    found = np.sort(np.linalg.eigvals(deflate(a, 2.0, vectors[:, 2])).real)
    expected = np.array([-5.0, -3.0, 0.0, 0.5, 6.0])
    assert_close(found, expected, "the eigenvalues of deflate(a, 2, v)", "those of a, with 0 for 2", rtol=0, atol=1e-10)


@pytest.mark.given
def test_deflate_refuses_an_eigenvalue_that_lacks_eigenvectors():
    with pytest.raises(np.linalg.LinAlgError):
        deflate(np.array([[0.0, 1.0], [0.0, 0.0]]), 0.5, np.array([1.0, 0.0]), np.array([0.0, 1.0]))


@pytest.mark.parametrize("scale", SCALES)
def test_deflate_is_the_same_in_all_units(scale):
    a, vectors = symmetric([6.0, 2.5, -1.0])
    found = deflate(scale * a, 6 * scale, vectors[:, 0]) / scale
    expected = deflate(a, 6.0, vectors[:, 0])
    assert_close(found, expected, f"deflate({scale:g} * a, ...) / {scale:g}", "that of a", rtol=RTOL, atol=1e-12)


def test_deflate_keeps_float32_and_takes_whole_numbers():
    found = deflate(PLANE.astype(np.float32), 5.0, V1.astype(np.float32))
    assert found.dtype == np.float32, f"deflate of a float32 matrix returned {found.dtype}"
    found = deflate(np.array([[2, 1], [1, 2]]), 3, np.array([1, 1]))
    assert_close(found, np.array([[0.5, -0.5], [-0.5, 0.5]]), "deflate([[2, 1], [1, 2]], 3, [1, 1])", "(9)", rtol=RTOL)


def test_deflate_leaves_its_arrays_alone():
    check_unchanged(lambda a, v, w: deflate(a, 1.3, v, w), HAND.copy(), X.copy(), np.array([1.0, 2.0, 5.0]))


# top_eigenpairs


def check_top(a, k, expected, call, *, tol=None, eps=EPS, **options):
    n = len(a)
    tol = 10 * n * eps if tol is None else tol
    top = top_eigenpairs(a, k, rng=np.random.default_rng(5), **options)
    assert top.values.shape == (k,), f"{call} returned values of shape {top.values.shape}, expected {(k,)}"
    assert top.vectors.shape == (n, k), f"{call} returned vectors of shape {top.vectors.shape}, expected {(n, k)}"
    assert top.iterations.shape == (k,), f"{call} returned iterations of shape {top.iterations.shape}, expected {(k,)}"
    expected, size = np.asarray(expected), np.abs(a).max() or 1.0
    # By (10), a chain of errors, each at most tol ||A|| times the ratio to the largest; a factor of 10 for rounding.
    growth = np.abs(expected[0]) / np.maximum(np.abs(expected), tol * size) if expected[0] else np.ones(k)
    bounds = 10 * tol * (1 + np.arange(k)) * growth
    norm = np.linalg.norm(a / size)
    for i, (value, vector) in enumerate(zip(top.values, top.vectors.T, strict=True)):
        error = backward_error(a, float(value), vector)
        assert error <= min(bounds[i], 1e-3), (
            f"{call} returned a pair number {i}, value {value:.6g}, with a backward error (2) of {error:.2g}, expected at "
            f"most {bounds[i]:.2g} by (10)"
        )
    assert_close(
        top.values / size, expected / size, f"{call}.values / {size:g}", "eigenvalues by modulus", rtol=0,
        atol=float((bounds * norm).max()),
    )  # fmt: skip
    products = top.vectors.T.astype(float) @ top.vectors.astype(float)
    assert_close(
        products, np.eye(k), f"{call}: products of vectors", "orthonormal", rtol=0, atol=float(bounds.max()) * 10
    )
    return top


@pytest.mark.parametrize(("n", "k"), [(5, 2), (12, 12), (30, 4), (7, 1)])
def test_top_eigenpairs_finds_the_largest(n, k):
    values = 9 * 0.6 ** np.arange(n) * np.where(np.arange(n) % 3 == 1, -1, 1)
    a, vectors = symmetric(values)
    top = check_top(a, k, values[:k], f"top_eigenpairs of a {n} x {n} matrix, k={k}")
    for i in range(k):
        found = abs(float(top.vectors[:, i] @ vectors[:, i]))
        assert found > 1 - 1e-9, f"vector {i} has the product {found:.9f} with the planted one, expected 1"
    # q = 0.6: with a start of random normal numbers, hardly ever a part below 1e-4 of what is sought.
    assert (top.iterations <= np.log(1e4 / EPS) / np.log(5 / 3)).all(), (
        f"it took {top.iterations} steps, by (5) too many"
    )
    assert (top.iterations[:2] > 15).all(), f"top_eigenpairs says it took {top.iterations} steps, too few for q = 0.6"


def test_top_eigenpairs_agrees_with_numpy_on_hilbert():
    a = hilbert(8, 8)
    expected = np.linalg.eigvalsh(a)[::-1][:3]
    check_top(a, 3, expected, "top_eigenpairs(hilbert(8, 8), 3)")


def test_top_eigenpairs_takes_an_eigenvalue_that_is_there_twice():
    values = np.array([-4.0, -4.0, 2.0, 1.0, 0.5])
    check_top(symmetric(values)[0], 3, values[:3], "top_eigenpairs of a matrix with the eigenvalue -4 twice")


@pytest.mark.parametrize("values", [[3.0, -1.5, 0, 0, 0, 0], [0, 0, 0, 0], [2.0, 0, 0], [4.0, 4.0, 4.0]])
def test_top_eigenpairs_goes_on_beyond_the_rank(values):
    a = symmetric(values)[0]
    check_top(a, len(a), np.array(values), f"top_eigenpairs of a matrix with the eigenvalues {values}, k={len(a)}")


def test_top_eigenpairs_stops_at_its_tolerance():
    values = 9 * 0.6 ** np.arange(12)
    a = symmetric(values)[0]
    loose = check_top(a, 3, values[:3], "top_eigenpairs(a, 3, tol=1e-5)", tol=1e-5)
    rough = top_eigenpairs(a, 3, rng=np.random.default_rng(5), tol=1e-5)
    assert (rough.iterations < loose.iterations).all(), (
        f"top_eigenpairs(a, 3, tol=1e-5) took {rough.iterations} steps, expected fewer than the {loose.iterations} by default"
    )
    error = backward_error(a, float(rough.values[0]), rough.vectors[:, 0])
    assert 1e-8 < error <= 1.01e-5, f"top_eigenpairs(a, 3, tol=1e-5) left {error:.2g} for the first pair"
    check_top(a, 3, values[:3], "top_eigenpairs(a, 3, tol=1e-5)", tol=1e-5)


def test_top_eigenpairs_says_so_if_two_eigenvalues_tie():
    for values in ([3.0, -3.0, 1.0], [5.0, 2.0, -2.0, 1.0]):
        with pytest.raises(np.linalg.LinAlgError):
            top_eigenpairs(symmetric(values)[0], 2, rng=np.random.default_rng(0), max_iterations=80)


def test_top_eigenpairs_takes_no_more_steps_than_it_may():
    a = symmetric([3.0, 2.7, 1.0])[0]
    with pytest.raises(np.linalg.LinAlgError):
        top_eigenpairs(a, 1, rng=np.random.default_rng(0), max_iterations=40)
    check_top(a, 1, [3.0], "top_eigenpairs of a matrix with q = 0.9")


@pytest.mark.parametrize("scale", SCALES)
def test_top_eigenpairs_is_the_same_in_all_units(scale):
    values = np.array([6.0, -4.0, 1.0, 0.5])
    check_top(scale * symmetric(values)[0], 2, scale * values[:2], f"top_eigenpairs({scale:g} * a, 2)")


def test_top_eigenpairs_keeps_float32():
    values = np.array([6.0, -4.0, 1.0, 0.5])
    a = symmetric(values)[0].astype(np.float32)
    top = check_top(a, 2, values[:2], "top_eigenpairs in float32", eps=float(np.finfo(np.float32).eps))
    assert top.vectors.dtype == top.values.dtype == np.float32, (
        f"top_eigenpairs in float32 returned {top.values.dtype} and {top.vectors.dtype}"
    )


def test_top_eigenpairs_leaves_its_matrix_alone():
    check_unchanged(lambda a: top_eigenpairs(a, 2, rng=np.random.default_rng(0)), PLANE.copy())


# convergence_ratio


def test_convergence_ratio_by_hand():
    values = [-7.5, 4.2, 6.3, 0.9]
    for shift, inverse, expected in (
        (0.0, False, 6.3 / 7.5),
        (-2.4, False, 6.6 / 8.7),
        (2.0, False, 4.3 / 9.5),
        (0.0, True, 0.9 / 4.2),
        (-3.5, True, 4.0 / 4.4),
        (5.5, True, 0.8 / 1.3),
    ):
        found = convergence_ratio(values, shift=shift, inverse=inverse)
        call = f"convergence_ratio({values}, shift={shift}, inverse={inverse})"
        assert_close(found, expected, call, "equation (7)" if inverse else "equation (5)", rtol=RTOL)


def test_convergence_ratio_takes_complex_eigenvalues():
    values = [5.0, 3.0 + 2.4j, 3.0 - 2.4j]
    for shift, inverse, expected in ((0.0, False, abs(3 + 2.4j) / 5), (4.0, True, 1 / 2.6), (8.0, False, 1.0)):
        found = convergence_ratio(values, shift=shift, inverse=inverse)
        call = f"convergence_ratio({values}, shift={shift}, inverse={inverse})"
        assert_close(found, expected, call, "equation (5) or (7)", rtol=RTOL)


def test_convergence_ratio_counts_equal_eigenvalues_once():
    for values, inverse, expected in (
        ([-4.0, 2.5, -4.0, 1.0], False, 2.5 / 4),
        ([1.5, 6.0, 1.5, 4.0], True, 1.5 / 4),
        ([3.0, -3.0, 3.0], False, 1.0),
        ([2.0, 2.0], False, 0.0),
        ([0.0], True, 0.0),
        ([7.0], False, 0.0),
    ):
        found = convergence_ratio(values, inverse=inverse)
        assert_close(
            found, expected, f"convergence_ratio({values}, inverse={inverse})", "equal ones count once", atol=0
        )


def test_convergence_ratio_of_a_shift_that_is_an_eigenvalue():
    found = convergence_ratio([4.0, -2.0, 1.0], shift=-2.0, inverse=True)
    assert found == 0, f"convergence_ratio([4, -2, 1], shift=-2, inverse=True) returned {found}, expected 0"


def test_convergence_ratio_leaves_its_values_alone():
    check_unchanged(convergence_ratio, np.array([3.0, -5.0, 2.0]))


# What is given: the checks of the arguments

NOT_SQUARE = [np.ones(3), np.ones((2, 3)), np.zeros((0, 0)), np.array([[np.nan]]), np.array([[1j]])]


@pytest.mark.given
@pytest.mark.parametrize("a", NOT_SQUARE)
def test_rayleigh_quotient_and_all_others_refuse_what_is_no_square_matrix(a):
    x = np.ones(len(a))
    for function in (rayleigh_quotient, power_iteration, inverse_iteration, rayleigh_quotient_iteration):
        with pytest.raises(ValueError, match="a must"):
            function(a, x)
    with pytest.raises(ValueError, match="a must"):
        iterate(a, lambda x, _: x, x)
    with pytest.raises(ValueError, match="a must"):
        deflate(a, 1.0, x)
    with pytest.raises(ValueError, match="a must"):
        top_eigenpairs(a, 1, rng=np.random.default_rng(0))


@pytest.mark.given
@pytest.mark.parametrize("x", [np.ones(3), np.zeros(2), np.array([1.0, np.nan]), np.ones((2, 1)), np.zeros(0)])
def test_rayleigh_quotient_and_iterate_and_deflate_refuse_vectors_that_do_not_fit(x):
    with pytest.raises(ValueError, match="x must"):
        rayleigh_quotient(PLANE, x)
    with pytest.raises(ValueError, match="start must"):
        iterate(PLANE, plane_step, x)
    with pytest.raises(ValueError, match="vector must"):
        deflate(PLANE, 1.0, x)
    with pytest.raises(ValueError, match="left must"):
        deflate(PLANE, 1.0, V1, x)


@pytest.mark.given
def test_iterate_refuses_tolerances_and_limits_without_sense():
    for tol in (0.0, -1e-3, np.nan, np.inf):
        with pytest.raises(ValueError, match="tol must"):
            iterate(PLANE, plane_step, V1, tol=tol)
        with pytest.raises(ValueError, match="tol must"):
            top_eigenpairs(PLANE, 1, rng=np.random.default_rng(0), tol=tol)
    for limit in (0, -3):
        with pytest.raises(ValueError, match="max_iterations must"):
            iterate(PLANE, plane_step, V1, max_iterations=limit)


@pytest.mark.given
@pytest.mark.parametrize("shift", [np.nan, np.inf])
def test_power_iteration_and_others_refuse_shifts_that_are_not_finite(shift):
    for function in (power_iteration, inverse_iteration):
        with pytest.raises(ValueError, match="shift must"):
            function(PLANE, V1, shift=shift)
    with pytest.raises(ValueError, match="shift must"):
        convergence_ratio([1.0, 2.0], shift=shift)
    with pytest.raises(ValueError, match="value must"):
        deflate(PLANE, shift, V1)


def test_power_iteration_and_others_refuse_what_iterate_refuses():
    for function in (power_iteration, inverse_iteration, rayleigh_quotient_iteration):
        with pytest.raises(ValueError, match="start must"):
            function(PLANE, np.zeros(2))
        with pytest.raises(ValueError, match="tol must"):
            function(PLANE, V1, tol=0.0)
        with pytest.raises(ValueError, match="max_iterations must"):
            function(PLANE, V1, max_iterations=0)


@pytest.mark.given
def test_top_eigenpairs_refuses_what_is_not_symmetric_and_a_wrong_k():
    with pytest.raises(ValueError, match="a must be symmetric"):
        top_eigenpairs(HAND, 1, rng=np.random.default_rng(0))
    for k in (0, 3, -1):
        with pytest.raises(ValueError, match="k must"):
            top_eigenpairs(PLANE, k, rng=np.random.default_rng(0))


@pytest.mark.given
@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, np.nan], [np.inf, 1.0], ["a"]])
def test_convergence_ratio_refuses_what_is_no_vector_of_finite_numbers(values):
    with pytest.raises(ValueError, match="eigenvalues must"):
        convergence_ratio(values)
