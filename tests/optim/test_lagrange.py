"""Shared tests of optim/lagrange: run on the reference, and on the learner's file.

Everything is deterministic. Systems of up to 30 unknowns with condition numbers below 1e3 leave errors of some 1e-13: a
tolerance of 1e-9 is generous to every way of solving them.
"""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, hock_schittkowski
from mlpath.optim.lagrange import (
    CONVERGED,
    DIVERGED,
    NOT_A_MINIMUM,
    OUT_OF_STEPS,
    SINGULAR,
    lagrangian_gradient,
    least_squares_multipliers,
    minimize,
    newton_step,
    second_order,
    sensitivity,
    solve_kkt,
    tangent_basis,
)
from mlpath.testing import assert_close

GRADIENT = np.array([1.37, -0.62, 2.81, 0.44])
JACOBIAN = np.array([[0.73, 1.91, -0.58, 1.26], [-1.42, 0.35, 2.17, 0.89]])
HESSIAN = np.array([[2.9, 0.4, -0.7, 0.2], [0.4, 1.7, 0.3, -0.5], [-0.7, 0.3, 3.3, 0.6], [0.2, -0.5, 0.6, 2.2]])
RESIDUAL = np.array([0.57, -1.13])
CALL = "(GRADIENT, JACOBIAN)"


@cache
def problems():
    return {name: p for name, p in hock_schittkowski().items() if not len(p.inequalities(p.start))}


@cache
def solved(name):
    return minimize(problems()[name])


def equality(fun, grad, equalities, jacobian, lagrangian_hess, start):
    """A problem with equalities only; its minimum is not told."""
    start = np.array(start, dtype=float)
    return ConstrainedProblem(
        fun,
        grad,
        lambda x: lagrangian_hess(x, np.zeros(len(equalities(x)))),
        equalities,
        jacobian,
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, len(x))),
        lambda x, nu, lam: lagrangian_hess(x, nu),
        start,
        np.full(len(start), np.nan),
    )


@cache
def symmetric(dim=6, seed=3):
    """A symmetric matrix with well separated eigenvalues of both signs, and its eigenvectors."""
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    values = np.linspace(-1.7, 4.1, dim)
    matrix = (axes * values) @ axes.T
    return (matrix + matrix.T) / 2, values, axes


def sphere(matrix, start, radius=1.0):
    """Least x'Mx / 2 with |x|^2 / 2 = radius^2 / 2: at the smallest eigenvalue's vector, with minus it for multiplier."""
    return equality(
        lambda x: float(x @ matrix @ x) / 2,
        lambda x: matrix @ x,
        lambda x: np.array([(x @ x - radius**2) / 2]),
        lambda x: x[None].copy(),
        lambda x, nu: matrix + nu[0] * np.eye(len(x)),
        start,
    )


def plane(target, normal, offset):
    """The point of a plane that is nearest to a target."""
    return equality(
        lambda x: float((x - target) @ (x - target)) / 2,
        lambda x: x - target,
        lambda x: np.array([normal @ x - offset]),
        lambda x: normal[None],
        lambda x, nu: np.eye(len(x)),
        np.zeros(len(target)),
    )


@cache
def random_system(dim, n_constraints, seed):
    """A regular KKT system whose Hessian is indefinite."""
    rng = np.random.default_rng(seed)
    matrix, _, _ = symmetric(dim, seed)
    return (
        matrix,
        rng.standard_normal((n_constraints, dim)),
        rng.standard_normal(dim),
        rng.standard_normal(n_constraints),
    )


def kkt_matrix(hessian, jacobian):
    return np.block([[hessian, jacobian.T], [jacobian, np.zeros((len(jacobian),) * 2)]])


# lagrangian_gradient


def test_lagrangian_gradient_adds_the_weighted_gradients_of_the_constraints():
    found = lagrangian_gradient(GRADIENT, JACOBIAN, np.array([0.83, -1.94]))
    expected = [1.37 + 0.83 * 0.73 + 1.94 * 1.42, -0.62 + 0.83 * 1.91 - 1.94 * 0.35]
    expected += [2.81 - 0.83 * 0.58 - 1.94 * 2.17, 0.44 + 0.83 * 1.26 - 1.94 * 0.89]
    assert_close(found, expected, "lagrangian_gradient(GRADIENT, JACOBIAN, [0.83, -1.94])", "equation (1)", rtol=1e-9)


def test_lagrangian_gradient_of_square_jacobian_uses_its_rows():
    found = lagrangian_gradient(np.zeros(2), np.array([[1.31, 2.47], [-0.66, 3.58]]), np.array([1.25, -0.72]))
    expected = [1.25 * 1.31 + 0.72 * 0.66, 1.25 * 2.47 - 0.72 * 3.58]
    assert_close(found, expected, "lagrangian_gradient of a square jacobian", "equation (1): rows are gradients")


def test_lagrangian_gradient_without_constraints_is_the_gradient():
    found = lagrangian_gradient(GRADIENT, np.zeros((0, 4)), np.zeros(0))
    assert_close(found, GRADIENT, "lagrangian_gradient without constraints", "equation (1)")


def test_lagrangian_gradient_changes_nothing_it_is_given():
    given = GRADIENT.copy(), JACOBIAN.copy()
    lagrangian_gradient(*given, np.array([0.83, -1.94]))
    assert_close(given, (GRADIENT, JACOBIAN), "the arguments of lagrangian_gradient afterwards", "their old values")


# least_squares_multipliers


def test_least_squares_multipliers_of_one_constraint():
    found = least_squares_multipliers(GRADIENT[:3], JACOBIAN[:1, :3])
    expected = [-(1.37 * 0.73 - 0.62 * 1.91 - 2.81 * 0.58) / (0.73**2 + 1.91**2 + 0.58**2)]
    assert_close(found, expected, "least_squares_multipliers of one constraint", "equation (3): -a'g / a'a")


def test_least_squares_multipliers_solve_equation_2_where_it_can_be_solved():
    multipliers = np.array([2.36, -0.71])
    found = least_squares_multipliers(-JACOBIAN.T @ multipliers, JACOBIAN)
    assert_close(found, multipliers, "least_squares_multipliers where g = -A' [2.36, -0.71]", "equation (2)")


def test_least_squares_multipliers_leave_what_is_orthogonal_to_all_rows():
    for dim, n_constraints in ((4, 2), (30, 12), (5, 5)):
        _, jacobian, gradient, _ = random_system(dim, n_constraints, dim)
        found = least_squares_multipliers(gradient, jacobian)
        expected = np.linalg.solve(jacobian @ jacobian.T, -jacobian @ gradient)
        assert_close(found, expected, f"least_squares_multipliers in {dim} dimensions", "equation (3)", rtol=1e-8)


def test_least_squares_multipliers_of_dependent_rows_are_the_shortest():
    row = JACOBIAN[0]
    found = least_squares_multipliers(-3.9 * row, np.array([row, 2 * row, 0 * row]))
    call = "least_squares_multipliers of the rows a, 2a and 0 where g = -3.9 a"
    assert_close(found, [3.9 / 5, 7.8 / 5, 0], call, "the shortest of the best", rtol=1e-9, atol=1e-12)


def test_least_squares_multipliers_without_constraints_are_none():
    assert_close(least_squares_multipliers(GRADIENT, np.zeros((0, 4))), np.zeros(0), "without constraints")


# tangent_basis


@pytest.mark.parametrize("shape", [(1, 2), (2, 4), (1, 7), (12, 30), (6, 7)])
def test_tangent_basis_spans_what_the_constraints_leave_free(shape):
    jacobian = np.random.default_rng(sum(shape)).standard_normal(shape)
    basis = tangent_basis(jacobian)
    n_free = shape[1] - shape[0]
    assert basis.shape == (shape[1], n_free), (
        f"tangent_basis of shape {shape} returned {basis.shape}, expected {(shape[1], n_free)}"
    )
    call = f"of Z = tangent_basis of shape {shape}"
    assert_close(jacobian @ basis, np.zeros((shape[0], n_free)), f"A Z {call}", "tangents", atol=1e-12)
    assert_close(basis.T @ basis, np.eye(n_free), f"Z'Z {call}", "orthonormal columns", atol=1e-12)


def test_tangent_basis_is_empty_where_nothing_is_free_and_everything_where_nothing_is_bound():
    assert tangent_basis(JACOBIAN[:, :2]).shape == (2, 0), "two independent rows leave nothing of the plane"
    basis = tangent_basis(np.zeros((0, 3)))
    assert_close(basis.T @ basis, np.eye(3), "Z'Z without constraints", "all of the space", atol=1e-12)


@pytest.mark.parametrize("lengths", [(1e-200, 1.0), (1e200, 1.0), (1e-12, 1e12), (1e-160, 1e-160)])
def test_tangent_basis_minds_only_the_directions_of_the_rows(lengths):
    rows = np.array([[-0.73, -1.91, 0.0, -1.26], [-1.42, 0.35, 2.17, 0.89]])
    basis = tangent_basis(rows * np.array(lengths)[:, None])
    call = f"A Z of tangent_basis of rows with factors {lengths}, with A as it was without,"
    assert_close(rows @ basis, np.zeros((2, 2)), call, "tangents", atol=1e-12)


@pytest.mark.parametrize(
    ("what", "jacobian"),
    [
        ("a row twice", JACOBIAN[[0, 1, 0]]),
        ("a row and a third of it", np.array([JACOBIAN[0], JACOBIAN[0] / 3])),
        ("the sum of two others", np.vstack([JACOBIAN, JACOBIAN.sum(axis=0)])),
        ("a row of zeros", np.array([JACOBIAN[0], np.zeros(4)])),
        ("only zeros", np.zeros((1, 3))),
        ("more rows than columns", JACOBIAN[:, :1]),
    ],
)
def test_tangent_basis_refuses_dependent_rows(what, jacobian):
    with pytest.raises(np.linalg.LinAlgError):
        pytest.fail(f"tangent_basis of rows with {what} returned {tangent_basis(jacobian)}, expected a LinAlgError")


def test_tangent_basis_accepts_rows_that_are_almost_dependent():
    jacobian = np.array([JACOBIAN[0], JACOBIAN[0] + 1e-7 * JACOBIAN[1]])
    basis = tangent_basis(jacobian)
    assert_close(JACOBIAN @ basis, np.zeros((2, 2)), "A Z of two rows 1e-7 apart", "tangents", atol=1e-7)


def test_tangent_basis_keeps_float32():
    basis = tangent_basis(JACOBIAN.astype(np.float32))
    assert basis.dtype == np.float32, f"from float32 came {basis.dtype}"
    assert_close(JACOBIAN @ basis, np.zeros((2, 2)), "A Z in float32", "tangents", atol=1e-5)
    with pytest.raises(np.linalg.LinAlgError):
        pytest.fail(
            f"a row and a seventh of it in float32: {tangent_basis((JACOBIAN[[0, 0]] / [[1], [7]]).astype('f'))}"
        )


# solve_kkt


def test_solve_kkt_of_a_small_system():
    hessian, jacobian = np.array([[2.6, 0.7], [0.7, 1.8]]), np.array([[1.3, -0.9]])
    step, multipliers = solve_kkt(hessian, jacobian, np.array([0.47, -1.15]), np.array([0.64]))
    # with t along the line: p = p0 + t d, d = (0.9, 1.3), p0 = -0.64 (1.3, -0.9) / 2.5
    p0, d = -0.64 * np.array([1.3, -0.9]) / 2.5, np.array([0.9, 1.3])
    t = -d @ (np.array([0.47, -1.15]) + hessian @ p0) / (d @ hessian @ d)
    assert_close(step, p0 + t * d, "the step of solve_kkt", "equation (5)")
    row = np.array([0.47, -1.15]) + hessian @ (p0 + t * d)
    assert_close(multipliers, [-row[0] / 1.3], "its multipliers", "the upper row of (4)")


@pytest.mark.parametrize(("dim", "n_constraints"), [(4, 2), (30, 12), (9, 8), (5, 5), (6, 0)])
def test_solve_kkt_satisfies_both_rows_of_equation_4(dim, n_constraints):
    hessian, jacobian, gradient, residual = random_system(dim, n_constraints, dim + 1)
    given = [a.copy() for a in (hessian, jacobian, gradient, residual)]
    step, multipliers = solve_kkt(*given)
    call = f"of solve_kkt with {n_constraints} constraints on {dim} variables, H indefinite:"
    upper = hessian @ step + gradient + jacobian.T @ multipliers
    assert_close(jacobian @ step, -residual, f"A p {call}", "the lower row of (4)", rtol=1e-9, atol=1e-9)
    assert_close(upper, np.zeros(dim), f"H p + g + A' nu {call}", "the upper row of (4)", atol=1e-9)
    assert_close(given, [hessian, jacobian, gradient, residual], "the arguments afterwards", "their old values")


def test_solve_kkt_projects_on_a_plane():
    target, normal = np.array([3.1, -0.8, 2.4]), np.array([1.2, 0.5, -2.3])
    step, multipliers = solve_kkt(np.eye(3), normal[None], -target, np.array([-1.9]))
    factor = (1.9 - normal @ target) / (normal @ normal)
    assert_close(step, target + factor * normal, "solve_kkt for the point of a plane nearest to a target", "geometry")
    assert_close(multipliers, [-factor], "its multiplier", "equation (2): p - target + nu a = 0")


@pytest.mark.parametrize(
    ("what", "hessian", "jacobian"),
    [
        ("a constraint said twice", HESSIAN, JACOBIAN[[0, 1, 1]]),
        ("a Hessian that is flat along the constraint", np.diag([1.7, 0.0]), np.array([[2.3, 0.0]])),
        ("no Hessian", np.zeros((2, 2)), np.array([[2.3, 0.7]])),
        (
            "a Hessian of rank 1 in two free directions",
            np.outer([0.3, 1.1, -0.7], [0.3, 1.1, -0.7]),
            np.eye(3)[:1] * 1.7,
        ),
    ],
)
def test_solve_kkt_refuses_a_singular_system(what, hessian, jacobian):
    system = hessian, jacobian, np.ones(len(hessian)), np.ones(len(jacobian))
    with pytest.raises(np.linalg.LinAlgError):
        pytest.fail(f"solve_kkt with {what} returned {solve_kkt(*system)}, expected a LinAlgError")


def test_solve_kkt_keeps_float32():
    step, multipliers = solve_kkt(*(a.astype(np.float32) for a in (HESSIAN, JACOBIAN, GRADIENT, RESIDUAL)))
    found = step.dtype, multipliers.dtype
    assert found == (np.float32, np.float32), f"from float32 solve_kkt made {found}"


def test_solve_kkt_needs_no_curvature_off_the_constraints():
    step, multipliers = solve_kkt(np.diag([0.0, 3.2]), np.array([[2.5, 0.0]]), np.array([0.7, 1.6]), np.array([1.5]))
    assert_close(step, [-0.6, -0.5], "solve_kkt with a Hessian that is singular, but not on the tangents", "(4)")
    assert_close(multipliers, [-0.28], "its multiplier", "the upper row of (4): 0.7 + 2.5 nu = 0")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hessian", (HESSIAN[:3], JACOBIAN, GRADIENT, RESIDUAL)),
        ("hessian", (HESSIAN * np.nan, JACOBIAN, GRADIENT, RESIDUAL)),
        ("hessian", (np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0), np.zeros(0))),
        ("jacobian", (HESSIAN, JACOBIAN.T, GRADIENT, RESIDUAL)),
        ("jacobian", (HESSIAN, JACOBIAN[0], GRADIENT, RESIDUAL)),
        ("jacobian", (HESSIAN, JACOBIAN * np.inf, GRADIENT, RESIDUAL)),
        ("gradient", (HESSIAN, JACOBIAN, GRADIENT[:2], RESIDUAL)),
        ("gradient", (HESSIAN, JACOBIAN, GRADIENT * np.nan, RESIDUAL)),
        ("residual", (HESSIAN, JACOBIAN, GRADIENT, RESIDUAL[:1])),
    ],
)
def test_solve_kkt_and_newton_step_refuse_what_does_not_fit(name, change):
    for function in (solve_kkt, newton_step):
        with pytest.raises(ValueError, match=name):
            function(*change)


# second_order


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ((1.3, 2.9, 4.4), "minimum"),
        ((-1.3, -2.9, -4.4), "maximum"),
        ((-1.3, 2.9, 4.4), "saddle"),
        ((-1.3, -2.9, 4.4), "saddle"),
        ((0.0, 2.9, 4.4), "undecided"),
        ((0.0, -2.9, -4.4), "undecided"),
        ((-1.3, 0.0, 4.4), "saddle"),
        ((0.0, 0.0, 0.0), "undecided"),
    ],
)
@pytest.mark.parametrize("off", [-7.7, 6.1])
def test_second_order_looks_at_the_tangent_space_alone(eigenvalues, kind, off):
    axes = symmetric(5, 8)[2]
    tangents, normals = axes[:, :3], axes[:, 3:]
    mixed = 1.9 * np.outer(normals[:, 0], tangents[:, 1])
    hessian = (tangents * eigenvalues) @ tangents.T + off * normals @ normals.T + mixed + mixed.T
    jacobian = np.array([[1.4, 0.3], [-0.8, 2.2]]) @ normals.T
    found = second_order((hessian + hessian.T) / 2, jacobian)
    call = f"second_order of a reduced Hessian with the eigenvalues {eigenvalues} and {off} off the tangents"
    assert_close(found.eigenvalues, sorted(eigenvalues), f"{call}: .eigenvalues", "equation (6)", atol=1e-12)
    values = np.array(eigenvalues)
    expected = ((values > 0).sum() + 2, (values < 0).sum() + 2, (values == 0).sum())
    assert tuple(found.inertia) == expected, f"{call}: .inertia is {found.inertia}, expected by (7): {expected}"
    assert found.kind == kind, f"{call} is called a {found.kind}, expected {kind}"


def test_second_order_finds_the_inertia_of_the_matrix_in_equation_4():
    for dim, n_constraints in ((6, 1), (12, 5), (7, 6), (5, 0)):
        hessian, jacobian, _, _ = random_system(dim, n_constraints, dim)
        found = second_order(hessian, jacobian)
        signs = np.sign(np.linalg.eigvalsh(kkt_matrix(hessian, jacobian)))
        expected = tuple(int((signs == sign).sum()) for sign in (1, -1, 0))
        assert tuple(found.inertia) == expected, (
            f"second_order of {dim} variables and {n_constraints} constraints returned the inertia {found.inertia}, the "
            f"eigenvalues of the matrix in (4) have the signs {expected}"
        )
        if found.kind == "minimum":
            assert np.linalg.slogdet(kkt_matrix(hessian, jacobian))[0] == (-1) ** n_constraints, "bordered determinant"


def test_second_order_tells_the_stationary_points_of_a_form_on_the_sphere_apart():
    matrix, values, axes = symmetric()
    for i, kind in enumerate(["minimum", "saddle", "saddle", "saddle", "saddle", "maximum"]):
        found = second_order(matrix - values[i] * np.eye(6), axes[:, i : i + 1].T)
        call = f"second_order of x'Mx/2 on the sphere at eigenvector {i}"
        expected = np.delete(values, i) - values[i]
        assert_close(found.eigenvalues, expected, f"{call}: .eigenvalues", "the others minus this one", rtol=1e-9)
        assert found.kind == kind, f"{call} is called a {found.kind}, expected {kind}"


@pytest.mark.parametrize(
    ("least", "tol", "kind"),
    [
        (-2e-8, 1e-8, "undecided"),
        (6e-8, 1e-8, "minimum"),
        (-6e-8, 1e-8, "saddle"),
        (0.3, 0.1, "undecided"),
    ],
)
@pytest.mark.parametrize("size", [1.0, 1e-30])
def test_second_order_counts_as_zero_what_is_small_beside_the_hessian(least, tol, kind, size):
    found = second_order(size * np.diag([least, 4.2, -3.1]), np.array([[0.0, 0.0, 1.7]]), tol=tol)
    call = f"second_order of {size} times diag({least}, 4.2, -3.1) on the first two axes with tol={tol}"
    assert found.kind == kind, f"{call} is called a {found.kind}, expected {kind}: 4.2 is the largest entry"
    if tol == 1e-8:
        plain = second_order(size * np.diag([least, 4.2, -3.1]), np.array([[0.0, 0.0, 1.7]]))
        assert plain.kind == kind, f"{call} left out is called a {plain.kind}, expected {kind}"


def test_second_order_of_negative_and_of_no_second_derivatives():
    found = second_order(np.diag([3.6e-8, 3.1, -4.2]), np.array([[0.0, 0.0, 1.7]])).kind
    assert found == "undecided", f"3.6e-8 is zero beside -4.2, the largest entry in size; second_order says {found!r}"
    none = second_order(np.zeros((3, 3)), np.array([[0.0, 0.0, 1.7]]))
    assert (none.kind, tuple(none.inertia)) == ("undecided", (1, 1, 2)), f"second_order of zeros returned {none}"


def test_second_order_where_no_direction_is_left_is_a_minimum():
    found = second_order(-HESSIAN[:2, :2], JACOBIAN[:, :2])
    assert (found.kind, tuple(found.inertia), found.eigenvalues.size) == ("minimum", (2, 2, 0), 0), (
        f"with as many constraints as variables second_order returned {found}"
    )


def test_second_order_refuses_dependent_constraints():
    with pytest.raises(np.linalg.LinAlgError):
        pytest.fail(f"second_order with a constraint said twice returned {second_order(HESSIAN, JACOBIAN[[0, 0]])}")


# sensitivity


def test_sensitivity_of_a_small_system():
    found = sensitivity(np.diag([2.6, 1.4]), np.array([[1.3, 0.9]]), np.array([-2.45]))
    # x moves along A' / H: dx = (1.3 / 2.6, 0.9 / 1.4) / (1.3^2 / 2.6 + 0.9^2 / 1.4)
    stiff = 1.3**2 / 2.6 + 0.9**2 / 1.4
    call = "sensitivity(diag(2.6, 1.4), [[1.3, 0.9]], [-2.45])"
    assert_close(found.value, [2.45], f"{call}.value", "equation (8)")
    assert_close(found.point, [[1.3 / 2.6 / stiff], [0.9 / 1.4 / stiff]], f"{call}.point", "equation (9)")
    assert_close(found.multipliers, [[-1 / stiff]], f"{call}.multipliers", "equation (9)")


def test_sensitivity_solves_equation_9_for_every_constraint():
    hessian, jacobian, _, _ = random_system(11, 4, 5)
    given = hessian.copy(), jacobian.copy(), np.array([0.61, -2.3, 0.0, 1.7])
    found = sensitivity(*given)
    upper = hessian @ found.point + jacobian.T @ found.multipliers
    assert_close(jacobian @ found.point, np.eye(4), "A dx/db of sensitivity", "the lower row of (9)", atol=1e-9)
    assert_close(upper, np.zeros((11, 4)), "H dx/db + A' dnu/db of sensitivity", "the upper row of (9)", atol=1e-9)
    assert_close(found.value, [-0.61, 2.3, 0.0, -1.7], "sensitivity(...).value", "equation (8)")
    assert_close(given[:2], (hessian, jacobian), "the arguments afterwards", "their old values")


def test_sensitivity_predicts_what_a_quadratic_program_does_when_its_right_hand_side_moves():
    def solution(b):
        answer = np.linalg.solve(kkt_matrix(HESSIAN, JACOBIAN), np.concatenate([-GRADIENT, b]))
        return answer[:4], answer[4:], GRADIENT @ answer[:4] + answer[:4] @ HESSIAN @ answer[:4] / 2

    start, moved = solution(np.zeros(2)), solution(np.array([0.31, -0.22]))
    found = sensitivity(HESSIAN, JACOBIAN, start[1])
    b = np.array([0.31, -0.22])
    assert_close(start[0] + found.point @ b, moved[0], "x + dx/db b", "solving again with b", rtol=1e-9)
    assert_close(start[1] + found.multipliers @ b, moved[1], "nu + dnu/db b", "solving again with b", rtol=1e-9)
    value = start[2] + found.value @ b - b @ found.multipliers @ b / 2
    assert_close(value, moved[2], "f - nu'b - b' dnu/db b / 2", "solving again with b: d2f/db2 = -dnu/db", rtol=1e-9)


def test_sensitivity_of_the_least_eigenvalue():
    matrix, values, axes = symmetric()
    found = sensitivity(matrix - values[0] * np.eye(6), axes[:, :1].T, -values[:1])
    # |x|^2 = 1 + 2b scales x by sqrt(1 + 2b), and x'Mx/2 by 1 + 2b
    assert_close(found.value, values[:1], "sensitivity(...).value of x'Mx/2 on |x|^2/2 = 1/2 + b", "the eigenvalue")
    assert_close(found.point, axes[:, :1], "sensitivity(...).point there", "x itself", rtol=1e-8, atol=1e-10)
    assert_close(found.multipliers, [[0.0]], "sensitivity(...).multipliers there", "0: the value is linear", atol=1e-10)


def test_sensitivity_refuses_a_singular_system():
    with pytest.raises(np.linalg.LinAlgError):
        pytest.fail(f"sensitivity with a constraint said twice: {sensitivity(HESSIAN, JACOBIAN[[1, 1]], RESIDUAL)}")


@pytest.mark.given
def test_sensitivity_refuses_multipliers_that_do_not_fit():
    with pytest.raises(ValueError, match="multipliers"):
        sensitivity(HESSIAN, JACOBIAN, GRADIENT)


# newton_step


def test_newton_step_is_the_kkt_systems_solution_where_the_reduced_hessian_is_positive():
    hessian = HESSIAN - 2.9 * JACOBIAN.T @ JACOBIAN  # indefinite, but not on the tangents
    step, multipliers, shift = newton_step(hessian, JACOBIAN, GRADIENT, RESIDUAL)
    expected = np.linalg.solve(kkt_matrix(hessian, JACOBIAN), -np.concatenate([GRADIENT, RESIDUAL]))
    assert shift == 0, f"newton_step shifted by {shift}, though the reduced Hessian is positive definite"
    assert_close(step, expected[:4], "the step of newton_step", "equation (4)")
    assert_close(multipliers, expected[4:], "its multipliers", "equation (4)")


@pytest.mark.parametrize(
    ("diagonal", "expected"),
    [((1.3, -2.4, 5.7), 4.8), ((-0.9, 2.4, 5.7), 1.8), ((-3.3, -1.1, 0.2), 6.6), ((0.0, 2.4, -5.0), 5e-8)],
)
def test_newton_step_shifts_by_equation_10(diagonal, expected):
    hessian, jacobian = np.diag(diagonal), np.array([[0.0, 0.0, 1.6]])
    gradient, residual = np.array([0.73, -1.28, 0.39]), np.array([0.56])
    step, multipliers, shift = newton_step(hessian, jacobian, gradient, residual)
    call = f"newton_step with H = diag{diagonal} and free first two axes"
    assert_close(shift, expected, f"the shift of {call}", "equation (10)", rtol=1e-9)
    x3 = -0.56 / 1.6
    expected_step = [-0.73 / (diagonal[0] + expected), 1.28 / (diagonal[1] + expected), x3]
    assert_close(step, expected_step, f"the step of {call}", "(4) with H + sigma I", rtol=1e-7)
    nu = -(0.39 + (diagonal[2] + expected) * x3) / 1.6
    assert_close(multipliers, [nu], f"the multipliers of {call}", "(4) with H + sigma I", rtol=1e-7)


def test_newton_step_makes_every_hessian_positive_on_the_tangents():
    for dim, n_constraints in ((6, 1), (12, 5), (7, 6), (5, 0)):
        hessian, jacobian, gradient, residual = random_system(dim, n_constraints, dim + 2)
        step, multipliers, shift = newton_step(hessian, jacobian, gradient, residual)
        shifted = hessian + shift * np.eye(dim)
        basis = np.linalg.qr(jacobian.T, mode="complete")[0][:, n_constraints:]
        before, after = (np.linalg.eigvalsh(basis.T @ h @ basis)[0] for h in (hessian, shifted))
        call = f"newton_step of {dim} variables and {n_constraints} constraints"
        assert_close(after, abs(before), f"the least reduced eigenvalue after the shift of {call}", "(10)", rtol=1e-8)
        upper = shifted @ step + gradient + jacobian.T @ multipliers
        assert_close(upper, np.zeros(dim), f"(H + sigma I) p + g + A' nu of {call}", "(4)", atol=1e-9)
        assert_close(jacobian @ step, -residual, f"A p of {call}", "(4)", rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [1e-20, 1e20])
def test_newton_step_does_not_depend_on_the_unit_of_the_objective(size):
    hessian, gradient = np.diag([3.1e-7, 2.4, 1.9]), np.array([0.73, -1.28, 0.39])
    step, _, shift = newton_step(size * hessian, np.array([[0.0, 0.0, 1.6]]), size * gradient, np.array([0.56]))
    assert shift == 0, f"newton_step shifted by {shift}; 3.1e-7 is above 1e-8 times the largest entry, 2.4"
    assert_close(step, [-0.73 / 3.1e-7, 1.28 / 2.4, -0.35], f"newton_step of {size} times H and g", "(4)", rtol=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
def test_newton_step_keeps_float32(sign):
    step, multipliers, _ = newton_step(*(a.astype("f") for a in (sign * HESSIAN, JACOBIAN, GRADIENT, RESIDUAL)))
    found = step.dtype, multipliers.dtype
    assert found == (np.float32, np.float32), f"from float32 newton_step made {found}"


def test_newton_step_without_second_derivatives_is_long():
    step, _, shift = newton_step(np.zeros((2, 2)), np.array([[1.0, 0.0]]), np.array([0.3, 0.7]), np.array([1.5]))
    assert_close(shift, 1e-8, "the shift of newton_step with H = 0", "the docstring")
    assert_close(step, [-1.5, -0.7e8], "its step", "(4) with H = 1e-8 I")


def test_newton_step_where_no_direction_is_left_solves_the_constraints():
    step, _, shift = newton_step(-HESSIAN[:2, :2], JACOBIAN[:, :2], GRADIENT[:2], RESIDUAL)
    expected = np.linalg.solve(JACOBIAN[:, :2], -RESIDUAL)
    assert_close(step, expected, "newton_step with as many constraints as variables", "A p = -h")
    assert shift == 0, f"no tangent direction needs a shift; got {shift}"


def test_newton_step_refuses_dependent_constraints():
    with pytest.raises(np.linalg.LinAlgError):
        pytest.fail(
            f"newton_step with a constraint said twice: {newton_step(HESSIAN, JACOBIAN[[1, 1]], GRADIENT, RESIDUAL)}"
        )


# minimize


@pytest.mark.parametrize("name", ["HS6", "HS28", "HS39", "HS40", "HS42", "HS48", "HS51"])
def test_minimize_solves_the_problems_of_hock_and_schittkowski(name):
    problem = problems()[name]
    calls = []
    counted = ConstrainedProblem(
        **{**vars(problem), "fun": lambda x: (calls.append(1), problem.fun(x))[1], "start": problem.start.copy()}
    )
    result = minimize(counted)
    call = f"minimize(hock_schittkowski()['{name}'])"
    assert result.success and result.message == CONVERGED, f"{call} says {result.success}, {result.message!r}"
    assert_close(result.x, problem.minimum, f"{call}.x", "the published minimum", rtol=1e-7, atol=1e-7)
    assert_close(result.fun, problem.fun(result.x), f"{call}.fun", "the objective at x", rtol=1e-12, atol=1e-300)
    expected = least_squares_multipliers(problem.grad(result.x), problem.equality_jacobian(result.x))
    assert_close(result.equality_multipliers, expected, f"{call}.equality_multipliers", "(3)", rtol=1e-9, atol=1e-9)
    assert result.inequality_multipliers.shape == (0,), f"{call}.inequality_multipliers: there are no inequalities"
    assert_close(result.violation, problem.violation(result.x), f"{call}.violation", "the largest |h|", atol=1e-15)
    assert result.nfev == len(calls), f"{call}.nfev is {result.nfev}, the objective was called {len(calls)} times"
    assert_close(counted.start, problem.start, "the start afterwards", "its old value")
    assert result.path is None, f"{call}.path was not asked for"


def test_minimize_knows_the_multipliers_of_the_problems_that_have_round_ones():
    for name, expected in {"HS42": [-2, 5 / np.sqrt(2) - 1], "HS48": [0, 0]}.items():
        found = solved(name).equality_multipliers
        assert_close(found, expected, f"minimize({name}).equality_multipliers", "solving (2) by hand", atol=1e-7)


def test_minimize_ends_a_quadratic_program_with_one_step():
    for name in ("HS28", "HS48", "HS51"):
        result = minimize(problems()[name], start=np.linspace(-3.0, 7.0, len(problems()[name].start)), record_path=True)
        assert result.nit == 1 and result.nfev == 2, f"minimize({name}) made {result.nit} steps, {result.nfev} calls"
        assert result.path.shape == (2, len(result.x)), f"its path has the shape {result.path.shape}"
        expected = [np.linspace(-3.0, 7.0, len(result.x)), result.x]
        assert_close(result.path, expected, f"minimize({name}).path", "the start and the minimum")


def test_minimize_converges_quadratically():
    matrix, _, axes = symmetric()
    start = axes[:, 0] + 0.25 * axes[:, 2] - 0.2 * axes[:, 4]
    result = minimize(sphere(matrix, start), tol=1e-12, record_path=True)
    errors = np.linalg.norm(result.path - axes[:, 0] * np.sign(result.x @ axes[:, 0]), axis=1)
    ratios = errors[2:4] / errors[1:3] ** 2
    assert (ratios < 3).all(), (
        f"the errors of minimize on the sphere are {errors}; each should be of the order of the last squared"
    )
    assert result.nit <= 6, f"it took {result.nit} steps"


def test_minimize_is_linear_where_the_hessian_is_singular_at_the_minimum():
    result = minimize(problems()["HS26"], record_path=True)
    assert result.success, f"minimize(HS26) says {result.message!r}"
    gaps = abs(result.path[:, 1] - result.path[:, 2])
    gaps = gaps[(gaps > 3e-4) & (gaps < 0.02)]  # close enough for the law, not so close that rounding takes over
    ratios = gaps[1:] / gaps[:-1]
    assert len(ratios) >= 6, f"x2 - x3 should shrink by a third a step along minimize(HS26); its sizes are {gaps}"
    expected = np.full(len(ratios), 2 / 3)
    assert_close(ratios, expected, "the ratios of x2 - x3 along minimize(HS26)", "Newton on t^4: 2/3", rtol=0.02)


def test_minimize_finds_the_least_eigenvalue_from_everywhere_and_plain_newton_others_too():
    matrix, values, _ = symmetric()
    rng, plain = np.random.default_rng(11), set()
    for start in rng.standard_normal((5, 6)):
        result = minimize(sphere(matrix, start))
        assert result.success, f"minimize on the sphere from {start} says {result.message!r}"
        call = f"on the sphere from {start}"
        assert_close(
            result.equality_multipliers, -values[:1], f"the multiplier {call}", "minus the least eigenvalue", rtol=1e-7
        )
        assert_close(result.fun, values[0] / 2, f"minimize(...).fun {call}", "half the least eigenvalue", rtol=1e-7)
        other = minimize(sphere(matrix, start), line_search=False)
        lowest = other.success
        plain.add(round(-float(other.equality_multipliers[0]), 6))
        assert other.message in (CONVERGED, NOT_A_MINIMUM), f"plain Newton {call} says {other.message!r}"
        assert lowest == (abs(other.fun - values[0] / 2) < 1e-6), (
            f"plain Newton {call}: {other.message!r} at {other.fun}"
        )
    assert len(plain) > 1, f"plain Newton from 5 starts found only the eigenvalues {plain}; it takes any"


def test_minimize_without_line_search_takes_the_solutions_of_equation_4_as_they_are():
    problem = problems()["HS6"]  # a search would shorten the first step: it makes the error 36 times as large
    result = minimize(problem, line_search=False, max_iter=2, record_path=True)
    x = problem.start
    for k in range(2):
        g, jac = problem.grad(x), problem.equality_jacobian(x)
        nu = np.linalg.lstsq(jac.T, -g, rcond=None)[0]
        system = kkt_matrix(problem.lagrangian_hess(x, nu, np.zeros(0)), jac)
        x = x + np.linalg.solve(system, -np.concatenate([g, problem.equalities(x)]))[:2]
        assert_close(result.path[k + 1], x, f"minimize(HS6, line_search=False).path[{k + 1}]", "(3) and (4)", rtol=1e-8)


@pytest.mark.parametrize("line_search", [True, False])
def test_minimize_says_so_where_it_stands_on_a_saddle_or_a_maximum(line_search):
    matrix, _, axes = symmetric()
    for i in (2, 5):
        result = minimize(sphere(matrix, axes[:, i]), line_search=line_search)
        assert not result.success and result.message == NOT_A_MINIMUM, (
            f"at eigenvector {i} of x'Mx on the sphere minimize says {result.success}, {result.message!r}"
        )
        assert result.nit == 0, f"it made {result.nit} steps from a point where (2) holds"


def test_minimize_finds_the_distribution_of_greatest_entropy_with_a_given_mean():
    faces = np.arange(1.0, 7.0)
    problem = equality(
        lambda p: float(p @ np.log(p)) if (p > 0).all() else np.inf,
        lambda p: np.log(p) + 1 if (p > 0).all() else np.full(6, np.nan),
        lambda p: np.array([p.sum() - 1, faces @ p - 4.5]),
        lambda p: np.array([np.ones(6), faces]),
        lambda p, nu: np.diag(1 / p),
        np.full(6, 1 / 6),
    )
    result = minimize(problem, tol=1e-10)
    assert result.success, f"minimize on minus the entropy says {result.message!r}"
    weights = np.exp(-result.equality_multipliers[1] * faces)
    assert_close(result.x, weights / weights.sum(), "the dice of greatest entropy", "exp(-nu face), by (2)", rtol=1e-8)
    assert_close(faces @ result.x, 4.5, "its mean", "the constraint", rtol=1e-9)
    assert_close(result.x[0], 0.05435, "the share of ones", "Jaynes' dice", rtol=1e-3)


def test_minimize_agrees_with_scipy():
    rng = np.random.default_rng(5)
    normal = rng.standard_normal((2, 5))
    problem = equality(
        lambda x: float(np.logaddexp(0, x).sum() + (x**4).sum() / 4),
        lambda x: 1 / (1 + np.exp(-x)) + x**3,
        lambda x: np.array([normal[0] @ x - 1.2, (normal[1] @ x) ** 2 + x[0] - 2.5]),
        lambda x: np.array([normal[0], 2 * (normal[1] @ x) * normal[1] + np.eye(5)[0]]),
        lambda x, nu: (
            np.diag(np.exp(-x) / (1 + np.exp(-x)) ** 2 + 3 * x**2) + 2 * nu[1] * np.outer(normal[1], normal[1])
        ),
        np.full(5, 0.4),
    )
    result = minimize(problem)
    peer = scipy_minimize(
        problem.fun,
        problem.start,
        jac=problem.grad,
        method="SLSQP",
        constraints={"type": "eq", "fun": problem.equalities, "jac": problem.equality_jacobian},
        options={"ftol": 1e-14, "maxiter": 200},
    )
    assert result.success, f"minimize says {result.message!r}"
    assert_close(result.x, peer.x, "minimize(...).x", "scipy's SLSQP", rtol=1e-5, atol=1e-6)
    assert_close(result.fun, peer.fun, "minimize(...).fun", "scipy's SLSQP", rtol=1e-9)


def test_minimize_prices_its_constraints():
    problem = problems()["HS40"]
    result = minimize(problem, tol=1e-12)
    hessian = problem.lagrangian_hess(result.x, result.equality_multipliers, np.zeros(0))
    found = sensitivity(hessian, problem.equality_jacobian(result.x), result.equality_multipliers)
    for j in (0, 2):
        ends = []
        for b in (1e-4, -1e-4):
            moved = ConstrainedProblem(
                **{**vars(problem), "equalities": lambda x, b=b, j=j: problem.equalities(x) - b * np.eye(3)[j]}
            )
            ends.append(minimize(moved, start=result.x, tol=1e-12))
        slope, move = (ends[0].fun - ends[1].fun) / 2e-4, (ends[0].x - ends[1].x) / 2e-4
        call = f"the change of minimize(HS40) with the right-hand side of constraint {j}"
        assert_close(found.value[j], slope, f"the price by (8), beside {call},", "solving twice", rtol=1e-5)
        assert_close(found.point[:, j], move, f"dx/db by (9), beside {call},", "solving twice", rtol=1e-5, atol=1e-6)


def test_minimize_comes_back_from_far_away_where_a_full_step_would_not():
    for target in (np.array([2.3, 0.4]), np.array([-0.6, 1.1])):
        for start in ([5.0, -3.0], [0.1, 0.05]):
            near = sphere(np.eye(2), start)
            problem = ConstrainedProblem(
                **{
                    **vars(near),
                    "fun": lambda x, t=target: float((x - t) @ (x - t)) / 2,
                    "grad": lambda x, t=target: x - t,
                }
            )
            result = minimize(problem)
            assert result.success, f"the point of the circle nearest to {target} from {start}: {result.message!r}"
            assert_close(result.x, target / np.linalg.norm(target), f"nearest to {target} from {start}", atol=1e-7)


def test_minimize_without_constraints_is_newtons_method():
    free = equality(
        lambda x: float(np.cosh(x - 0.3).sum()),
        lambda x: np.sinh(x - 0.3),
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, 3)),
        lambda x, nu: np.diag(np.cosh(x - 0.3)),
        [1.0, -1.0, 0.4],
    )
    result = minimize(free)
    assert result.success and result.violation == 0, f"without constraints minimize returned {result}"
    assert_close(result.x, np.full(3, 0.3), "minimize of cosh without constraints", "its bottom", atol=1e-8)


def test_minimize_with_as_many_constraints_as_variables_solves_them():
    problem = equality(
        lambda x: float(x[0]),
        lambda x: np.array([1.0, 0.0]),
        lambda x: np.array([x[0] ** 2 + x[1] ** 2 - 5, x[0] * x[1] - 2]),
        lambda x: np.array([[2 * x[0], 2 * x[1]], [x[1], x[0]]]),
        lambda x, nu: np.array([[2 * nu[0], nu[1]], [nu[1], 2 * nu[0]]]),
        [2.3, 0.8],
    )
    result = minimize(problem)
    assert result.success, f"minimize of two equations in two unknowns says {result.message!r}"
    assert_close(
        result.x, [2.0, 1.0], "minimize of x^2 + y^2 = 5, x y = 2 from [2.3, 0.8]", "their solution", rtol=1e-7
    )


def test_minimize_at_its_last_step_may_have_converged():
    needed = solved("HS42").nit
    result = minimize(problems()["HS42"], max_iter=needed)
    assert result.success and result.nit == needed, f"with the {needed} steps it needs minimize says {result.message!r}"
    short = minimize(problems()["HS42"], max_iter=needed - 1)
    assert not short.success and short.message == OUT_OF_STEPS, f"with one step less it says {short.message!r}"
    assert short.nit == needed - 1, f"with max_iter={needed - 1} it made {short.nit} steps"


@pytest.mark.parametrize("line_search", [True, False])
def test_minimize_says_so_where_constraints_depend_on_each_other(line_search):
    twice = ConstrainedProblem(
        **{
            **vars(plane(np.ones(3), np.array([1.0, 2.0, 0.5]), 1.3)),
            "equalities": lambda x: np.array([1.0, 2.0]) * (np.array([1.0, 2.0, 0.5]) @ x - 1.3),
            "equality_jacobian": lambda x: np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0]]),
        }
    )
    result = minimize(twice, line_search=line_search)
    assert not result.success and result.message == SINGULAR, f"a constraint said twice: {result.message!r}"
    assert result.nit == 0 and result.nfev == 1, f"it made {result.nit} steps and {result.nfev} calls"


@pytest.mark.parametrize("line_search", [True, False])
def test_minimize_says_so_where_something_is_not_finite(line_search):
    problem = plane(np.ones(3), np.array([1.0, 2.0, 0.5]), 1.3)
    for change in (
        {"fun": lambda x: np.nan},
        {"grad": lambda x: np.array([1.0, np.inf, 0.0])},
        {"equalities": lambda x: np.array([np.nan])},
        {"equality_jacobian": lambda x: np.array([[1.0, np.nan, 1.0]])},
    ):
        result = minimize(ConstrainedProblem(**{**vars(problem), **change}), line_search=line_search)
        assert not result.success and result.message == DIVERGED, f"with {change} minimize says {result.message!r}"


def test_minimize_gives_up_where_no_step_is_any_good():
    rising = plane(np.ones(2), np.array([1.0, 2.0]), 1.3)
    seen = []
    lying = ConstrainedProblem(**{**vars(rising), "fun": lambda x: float(seen.append(1) or len(seen))})
    # the gradient changes at random too, so that no full step seems to halve the error
    shaky = ConstrainedProblem(**{**vars(lying), "grad": lambda x: np.array([3.0, -2.0]) * (1 + len(seen) % 7)})
    result = minimize(shaky)
    assert not result.success and result.nit == 0, f"an objective that always grows: {result}"
    assert result.nfev == len(seen), f"it counts {result.nfev} evaluations of {len(seen)}"


def test_minimize_lets_errors_of_the_users_functions_through():
    for error in (ZeroDivisionError("mine"), np.linalg.LinAlgError("mine")):
        for name in ("fun", "grad", "equalities", "equality_jacobian", "lagrangian_hess"):

            def broken(*args, error=error):
                raise error

            problem = ConstrainedProblem(**{**vars(problems()["HS42"]), name: broken})
            with pytest.raises(type(error), match="mine"):
                pytest.fail(f"{name} raised {error!r}, and minimize returned {minimize(problem)}")


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("start", {"start": [np.nan] * 4}),
        ("start", {"start": [[1.0] * 4]}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, options):
    with pytest.raises(ValueError, match=name):
        minimize(problems()["HS42"], **options)


@pytest.mark.given
def test_minimize_refuses_inequalities_and_wrong_shapes():
    with pytest.raises(ValueError, match="inequalities"):
        minimize(hock_schittkowski()["HS14"])
    problem = problems()["HS42"]
    for name, function in {
        "grad": lambda x: np.zeros(3),
        "equality_jacobian": lambda x: np.zeros((3, 4)),
    }.items():
        with pytest.raises(ValueError, match=name):
            minimize(ConstrainedProblem(**{**vars(problem), name: function}))
