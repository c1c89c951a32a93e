"""Shared tests of optim/bfgs: run on the reference, and on the learner's file.

Everything here is deterministic. A few products of matrices of 2 to 8 rows lose some dozen roundings: 1e-12 is generous.
"""

import numpy as np
import pytest
from scipy import optimize

from mlpath.optim._shared import beale, breast_cancer, himmelblau, quadratic, rosenbrock
from mlpath.optim.bfgs import (
    curvature_holds,
    damped_change,
    initial_scale,
    learn,
    minimize,
    update_inverse,
    update_matrix,
)
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS, STALLED
from mlpath.testing import assert_close

ROUNDING = {"rtol": 1e-12, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}

# one step, by hand: y's = 9.95, y'y = 13.69, s's = 7.89
MOVE, CHANGE = np.array([2.5, -0.8, 1.0]), np.array([3.3, -0.5, 1.3])
INVERSE = np.array([[2.0, 0.3, -0.4], [0.3, 1.5, 0.2], [-0.4, 0.2, 1.2]])
STEP = "move (2.5, -0.8, 1), change (3.3, -0.5, 1.3)"


# another, whose entries are zero or negative: y's = 8.25
BACK, FORTH = np.array([-2.5, 0.0, -1.0]), np.array([-3.3, -0.4, 0.0])


def pairs(dim=6, n=8):
    """Positive definite matrices, moves, and changes that show curvature."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        a, b = rng.standard_normal((2, dim, dim))
        move = rng.standard_normal(dim)
        yield a @ a.T + 0.1 * np.eye(dim), move, (b @ b.T + 0.1 * np.eye(dim)) @ move


def positive_definite(matrix):
    return np.linalg.eigvalsh((matrix + matrix.T) / 2)[0] > 0


# curvature_holds


def test_curvature_holds_by_hand():
    assert curvature_holds(MOVE, CHANGE), f"curvature_holds should be true for {STEP}: y's = 9.95"
    assert not curvature_holds(MOVE, -CHANGE), f"curvature_holds should be false for {STEP} turned round: y's < 0"


def test_curvature_holds_asks_for_a_cosine():
    move = np.array([3.0, 4.0])
    across = np.array([-4.0, 3.0])
    for cosine, expected in ((0.02, True), (0.005, False), (-0.02, False)):
        for size in (1e-3, 1.0, 1e3):
            change = size * (cosine * move + np.sqrt(1 - cosine**2) * across)
            found = curvature_holds(move, change, threshold=0.01)
            assert found == expected, (
                f"curvature_holds returned {found} for an angle of cosine {cosine}, a change {size} times as long as the "
                f"move and the threshold 0.01; expected {expected} by (3)"
            )
    ones, signs = np.ones(400), np.resize([1.0, -1.0], 400)
    for cosine, expected in ((0.02, True), (0.005, False)):
        found = curvature_holds(ones, cosine * ones + np.sqrt(1 - cosine**2) * signs, threshold=0.01)
        assert found == expected, (
            f"curvature_holds in 400 dimensions, cosine {cosine}, threshold 0.01: {found}, by (3) {expected}"
        )
    assert not curvature_holds(move, across, threshold=0.0), "a right angle shows no curvature: (3) asks for more"
    assert curvature_holds(move, across + 1e-9 * move), "a cosine of 1e-9 is above the threshold 1e-10"
    assert not curvature_holds(move, across + 1e-11 * move), "a cosine of 1e-11 is below the threshold 1e-10"


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_curvature_holds_is_false_for_nothing_and_for_what_is_not_finite(bad):
    for move, change in ((bad * np.ones(3), CHANGE), (MOVE, bad * np.ones(3)), (MOVE, np.array([3.3, bad, bad]) * bad)):
        assert not curvature_holds(move, change), f"curvature_holds({move}, {change}) should be false"


@pytest.mark.parametrize(("small", "large"), [(1e-200, 1e-200), (1e200, 1e200), (1e-200, 1e200)])
def test_curvature_holds_for_any_length(small, large):
    assert curvature_holds(small * MOVE, large * CHANGE), (
        f"move times {small}, change times {large}: the angle is the same"
    )
    assert curvature_holds(small * BACK, large * FORTH), "the same with negative entries and zeros"
    assert not curvature_holds(small * MOVE, -large * CHANGE), f"move times {small}, change times -{large}"


def test_curvature_holds_returns_true_or_false():
    found = curvature_holds(MOVE, CHANGE)
    assert isinstance(found, bool), f"curvature_holds returned a {type(found).__name__}"


# initial_scale


def test_initial_scale_by_hand():
    assert_close(initial_scale(MOVE, CHANGE), 9.95 / 12.83, f"initial_scale of {STEP}", "equation (8)", **ROUNDING)


def test_initial_scale_lies_between_the_inverse_eigenvalues():
    spectrum = np.array([0.5, 3.0, 40.0])
    for move in np.random.default_rng(1).standard_normal((20, 3)):
        found = initial_scale(move, spectrum * move)
        assert 1 / 40 <= found <= 2, f"initial_scale returned {found} for curvatures between 0.5 and 40"


@pytest.mark.parametrize(("small", "large"), [(1e-200, 1e-180), (1e200, 1e190), (1e-100, 1e100)])
def test_initial_scale_of_any_length(small, large):
    found = initial_scale(small * MOVE, large * CHANGE) * (large / small)
    assert_close(initial_scale(BACK, FORTH), 8.25 / 11.05, f"initial_scale of {BACK} and {FORTH}", "(8)", **ROUNDING)
    assert_close(found, 9.95 / 12.83, f"initial_scale, move times {small}, change times {large}", "(8)", **ROUNDING)


# update_inverse


def test_update_inverse_by_hand():
    # u = H y = (5.93, 0.5, 0.14), y'u = 19.501
    u = np.array([5.93, 0.5, 0.14])
    expected = INVERSE - (np.outer(u, MOVE) + np.outer(MOVE, u)) / 9.95
    expected += (1 + 19.501 / 9.95) * np.outer(MOVE, MOVE) / 9.95
    assert_close(
        update_inverse(INVERSE, MOVE, CHANGE), expected, f"update_inverse of {STEP}", "equation (5)", **ROUNDING
    )


def test_update_inverse_is_the_product_in_the_note():
    for inverse, move, change in pairs():
        slope = change @ move
        left = np.eye(6) - np.outer(move, change) / slope
        expected = left @ inverse @ left.T + np.outer(move, move) / slope
        assert_close(update_inverse(inverse, move, change), expected, "update_inverse", "(4)", rtol=1e-10, atol=1e-10)


def test_update_inverse_takes_the_change_to_the_move():
    for inverse, move, change in pairs():
        found = update_inverse(inverse, move, change)
        assert_close(found @ change, move, "update_inverse(...) times the change", "(1)", rtol=1e-9, atol=1e-9)


def test_update_inverse_stays_symmetric_and_positive_definite():
    for inverse, move, change in pairs():
        found = update_inverse(inverse, move, change)
        assert (found == found.T).all(), (
            f"update_inverse is not symmetric to the last digit, by {abs(found - found.T).max()}"
        )
        assert positive_definite(found), f"update_inverse has the eigenvalue {np.linalg.eigvalsh(found)[0]}"


def test_update_inverse_changes_as_little_as_possible():
    # of all symmetric matrices with H y = s: they are H+ plus any symmetric matrix that takes y to 0
    rng = np.random.default_rng(2)
    for inverse, move, change in pairs(n=3):
        found = update_inverse(inverse, move, change)
        b = rng.standard_normal((6, 6))
        b = b @ b.T
        weight = b - np.outer(b @ move, b @ move) / (move @ b @ move) + np.outer(change, change) / (change @ move)
        values, axes = np.linalg.eigh(weight)  # positive definite, and takes the move to the change
        root = axes * np.sqrt(values) @ axes.T
        across = np.eye(6) - np.outer(change, change) / (change @ change)
        least = np.linalg.norm(root @ (found - inverse) @ root)
        for _ in range(5):
            other = rng.standard_normal((6, 6))
            other = found + 0.1 * across @ (other + other.T) @ across
            distance = np.linalg.norm(root @ (other - inverse) @ root)
            assert least < distance, f"another matrix with (1) is closer: {distance}, update_inverse {least}"


def test_update_inverse_finds_the_inverse_of_a_quadratic():
    problem = quadratic(np.array([0.2, 1.0, 3.0, 7.0, 50.0]), rng=np.random.default_rng(3))
    x, inverse = problem.start, np.eye(5)
    for _ in range(5):  # exact line searches: then the moves are conjugate
        gradient = problem.grad(x)
        direction = -inverse @ gradient
        move = -(gradient @ direction) / (direction @ problem.hvp(x, direction)) * direction
        inverse = update_inverse(inverse, move, problem.grad(x + move) - gradient)
        x = x + move
    assert_close(x, problem.minimum, "five steps with update_inverse in five dimensions", "the minimum", atol=1e-7)
    expected = np.linalg.inv(problem.hessian)
    assert_close(inverse, expected, "update_inverse after five steps", "the inverse Hessian", rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("small", "large"), [(1e-180, 1e-170), (1e180, 1e170), (1e-150, 1e-150), (1e-100, 1e100)])
def test_update_inverse_for_any_length(small, large):
    ratio = small / large
    left = np.eye(3) - np.outer(BACK, FORTH) / 8.25
    other = left @ INVERSE @ left.T + np.outer(BACK, BACK) / 8.25
    for move, change, expected in ((MOVE, CHANGE, update_inverse(INVERSE, MOVE, CHANGE)), (BACK, FORTH, other)):
        found = update_inverse(ratio * INVERSE, small * move, large * change) / ratio
        call = f"update_inverse, the move {move} times {small}, the change {change} times {large}"
        assert_close(found, expected, call, "the same in other units", rtol=1e-10, atol=1e-10)


def test_update_inverse_keeps_the_precision_and_its_arguments():
    arguments = [a.astype(np.float32) for a in (INVERSE, MOVE, CHANGE)]
    before = [a.copy() for a in arguments]
    found = update_inverse(*arguments)
    assert found.dtype == np.float32, f"update_inverse of float32 returned {found.dtype}"
    expected = update_inverse(INVERSE, MOVE, CHANGE)
    assert_close(found, expected, "update_inverse in float32", "as in float64", rtol=1e-5, atol=1e-5)
    for now, then, name in zip(arguments, before, ("inverse", "move", "change"), strict=True):
        assert_close(now, then, f"update_inverse changed {name}, which now")


# update_matrix


def test_update_matrix_by_hand():
    # B s = (5.36 ...): here B is INVERSE, so B s = (4.36, -0.25, 0.04), s'Bs = 11.14
    bs = np.array([4.36, -0.25, 0.04])
    expected = INVERSE - np.outer(bs, bs) / 11.14 + np.outer(CHANGE, CHANGE) / 9.95
    assert_close(update_matrix(INVERSE, MOVE, CHANGE), expected, f"update_matrix of {STEP}", "equation (6)", **ROUNDING)


def test_update_matrix_takes_the_move_to_the_change():
    for matrix, move, change in pairs():
        found = update_matrix(matrix, move, change)
        assert_close(found @ move, change, "update_matrix(...) times the move", "the change", rtol=1e-9, atol=1e-9)
        assert (found == found.T).all(), (
            f"update_matrix is not symmetric to the last digit, by {abs(found - found.T).max()}"
        )
        assert positive_definite(found), f"update_matrix has the eigenvalue {np.linalg.eigvalsh(found)[0]}"


def test_update_matrix_is_the_inverse_of_the_other_update():
    for matrix, move, change in pairs():
        slope, left = change @ move, np.eye(6) - np.outer(move, change) / (change @ move)
        inverse = left @ np.linalg.inv(matrix) @ left.T + np.outer(move, move) / slope
        product = update_matrix(matrix, move, change) @ inverse
        assert_close(product, np.eye(6), "update_matrix of B times (4) of the inverse of B", "I", atol=1e-8)


@pytest.mark.parametrize(("small", "large"), [(1e-180, 1e-170), (1e180, 1e170), (1e-60, 1e60)])
def test_update_matrix_for_any_length(small, large):
    ratio = large / small
    bs = INVERSE @ BACK
    other = INVERSE - np.outer(bs, bs) / (BACK @ bs) + np.outer(FORTH, FORTH) / 8.25
    for move, change, expected in ((MOVE, CHANGE, update_matrix(INVERSE, MOVE, CHANGE)), (BACK, FORTH, other)):
        found = update_matrix(ratio * INVERSE, small * move, large * change) / ratio
        call = f"update_matrix, the move {move} times {small}, the change {change} times {large}"
        assert_close(found, expected, call, "the same in other units", rtol=1e-10, atol=1e-10)


def test_update_matrix_keeps_the_precision_and_its_arguments():
    arguments = [a.astype(np.float32) for a in (INVERSE, MOVE, CHANGE)]
    before = [a.copy() for a in arguments]
    found = update_matrix(*arguments)
    assert found.dtype == np.float32, f"update_matrix of float32 returned {found.dtype}"
    for now, then, name in zip(arguments, before, ("matrix", "move", "change"), strict=True):
        assert_close(now, then, f"update_matrix changed {name}, which now")


# damped_change

DAMPED = "s'Bs = 11.14"


def test_damped_change_believes_what_shows_enough_curvature():
    found = damped_change(INVERSE, MOVE, CHANGE)
    assert_close(found, CHANGE, f"damped_change of {STEP}", f"the change itself: y's = 9.95, {DAMPED}", **ROUNDING)
    assert not np.shares_memory(found, CHANGE), "damped_change returned its argument itself, not a new array"
    assert_close(
        damped_change(INVERSE, MOVE, 7 * CHANGE), 7 * CHANGE, "damped_change, y's = 69.65", "itself", **ROUNDING
    )
    little = 2.3 / 9.95 * CHANGE
    call = "damped_change, y's = 2.3"
    assert_close(damped_change(INVERSE, MOVE, little), little, call, f"more than a fifth of {DAMPED}", **ROUNDING)


@pytest.mark.parametrize("factor", [-2.0, -0.3, 0.1, 0.2])
def test_damped_change_by_hand(factor):
    seen = 9.95 * factor
    theta = 0.8 * 11.14 / (11.14 - seen)
    expected = theta * factor * CHANGE + (1 - theta) * np.array([4.36, -0.25, 0.04])
    found = damped_change(INVERSE, MOVE, factor * CHANGE)
    assert_close(found, expected, f"damped_change, y's = {seen:.3f}", f"equation (7), {DAMPED}", **ROUNDING)


def test_damped_change_always_shows_a_fifth_of_the_expected_curvature():
    rng = np.random.default_rng(4)
    for matrix, move, _ in pairs():
        for change in rng.standard_normal((10, 6)) * 10.0 ** rng.uniform(-3, 3, (10, 1)):
            found = damped_change(matrix, move, change) @ move
            least = 0.2 * (move @ matrix @ move)
            assert found >= least * (1 - 1e-9), f"damped_change shows the curvature {found}, less than {least}"
            assert change @ move >= least or abs(found / least - 1) < 1e-9, (
                f"damped_change shows the curvature {found}; where it damps it should be {least}, by (7)"
            )


@pytest.mark.parametrize("size", [1e-180, 1e180])
def test_damped_change_for_any_length(size):
    bs = INVERSE @ BACK  # s'Bs = 11.7, y's = -2.475
    theta = 0.8 * 11.7 / (11.7 + 2.475)
    other = -0.3 * theta * FORTH + (1 - theta) * bs
    for move, change, expected in ((MOVE, CHANGE, damped_change(INVERSE, MOVE, -0.3 * CHANGE)), (BACK, FORTH, other)):
        found = damped_change(INVERSE, size * move, -0.3 * size * change) / size
        call = f"damped_change, move {move}, change {-0.3 * change}, all times {size}"
        assert_close(found, expected, call, "the same in other units", rtol=1e-10, atol=1e-10)


# learn


def test_learn_begins_with_the_right_size():
    found = learn(None, MOVE, CHANGE)
    left = np.eye(3) - np.outer(MOVE, CHANGE) / 9.95
    expected = 9.95 / 12.83 * left @ left.T + np.outer(MOVE, MOVE) / 9.95
    assert_close(found, expected, f"learn(None, ...) of {STEP}", "(8), then (5)", **ROUNDING)


def test_learn_goes_on_with_what_it_knows():
    found = learn(INVERSE, MOVE, CHANGE)
    left = np.eye(3) - np.outer(MOVE, CHANGE) / 9.95
    expected = left @ INVERSE @ left.T + np.outer(MOVE, MOVE) / 9.95
    assert_close(found, expected, f"learn(H, ...) of {STEP}", "(5), of H as it is", **ROUNDING)


def test_learn_does_not_learn_without_curvature():
    for change in (-CHANGE, np.zeros(3), np.full(3, np.nan)):
        assert learn(None, MOVE, change) is None, f"learn(None, s, {change}) should return None: (3) fails"
        found = learn(INVERSE, MOVE, change)
        assert_close(found, INVERSE, f"learn(H, s, {change})", "H itself: (3) fails", **ROUNDING)


def test_learn_keeps_the_precision():
    found = learn(None, MOVE.astype(np.float32), CHANGE.astype(np.float32))
    assert found.dtype == np.float32, f"learn of float32 returned {found.dtype}"


# minimize

PROBLEMS = {
    "Rosenbrock": rosenbrock(),
    "Rosenbrock in 6 dimensions": rosenbrock(6),
    "Beale": beale(),
    "Himmelblau": himmelblau(),
    "a quadratic": quadratic(np.geomspace(0.01, 10, 9), rng=np.random.default_rng(0)),
    "breast cancer": breast_cancer(ridge=1e-1),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_minimize_finds_the_minimum(name):
    problem = PROBLEMS[name]
    result = minimize(problem.fun, problem.grad, problem.start, tol=1e-8)
    assert result.success, f"minimize of {name}: {result.message}, after {result.nit} steps"
    assert result.message == CONVERGED, f"minimize of {name} succeeded with the message {result.message!r}"
    # the gradient is at most 1e-8 and the smallest curvature 0.01, breast cancer's 0.1: the distance is below 1e-5
    assert_close(result.x, problem.minimum, f"minimize of {name}", "its minimum", atol=1e-5)
    assert_close(result.fun, problem.fun(result.x), f"fun of minimize of {name}", "the objective at x", rtol=1e-12)


def test_minimize_goes_as_scipy_does():
    problem = breast_cancer(ridge=1e-1)
    result = minimize(problem.fun, problem.grad, problem.start, tol=1e-8)
    peer = optimize.minimize(problem.fun, problem.start, jac=problem.grad, method="BFGS", options={"gtol": 1e-8})
    assert_close(result.fun, peer.fun, "minimize on breast cancer", "scipy's BFGS", rtol=1e-12)
    assert result.nit <= 2 * peer.nit + 10, f"minimize took {result.nit} steps, scipy's BFGS {peer.nit}"


def walk(problem, start=None, **options):
    """The path, its errors and the result of a walk."""
    start = problem.start if start is None else start
    result = minimize(problem.fun, problem.grad, start, record_path=True, **options)
    return result.path, np.linalg.norm(result.path - problem.minimum, axis=1), result


def test_minimize_first_steps_by_hand():
    # along -g = -(8, 4) from (4, 1): the first trial is 1/12 and accepted, as the slope there is 62 % of that at the start
    fun, grad = (lambda x: x[0] ** 2 + 2 * x[1] ** 2), (lambda x: np.array([2 * x[0], 4 * x[1]]))
    path = minimize(fun, grad, [4.0, 1.0], max_iter=2, record_path=True).path
    assert_close(path[1], [10 / 3, 2 / 3], "the first step of minimize from (4, 1)", "a twelfth of (8, 4)", **ROUNDING)
    move, change = np.array([-2 / 3, -1 / 3]), np.array([-4 / 3, -4 / 3])
    slope = move @ change
    left = np.eye(2) - np.outer(move, change) / slope
    inverse = slope / (change @ change) * left @ left.T + np.outer(move, move) / slope
    expected = path[1] - inverse @ grad(path[1])
    assert_close(path[2], expected, "the second step of minimize", "-H g by (8) and (5), trial 1", **ROUNDING)


def test_minimize_first_trial_moves_by_at_most_1():
    for factor in (1e-3, 1.0, 1e6):
        path = minimize(
            lambda x, c=factor: c * (x @ x) / 2,
            lambda x, c=factor: c * x,
            [300.0, -500.0],
            max_iter=1,
            record_path=True,
        ).path
        # the trial's slope is 99.8 % of the start's, and the search doubles it up to 512, as 1 - 256/800 is below 0.9
        moved = abs(path[1] - path[0]).sum()
        expected = 128 if factor > 1e-3 else 0.8 * 128
        assert moved >= 1e-3, f"minimize moved by {moved} first"
        if factor >= 1:
            assert_close(
                moved, expected, f"the first move down {factor} x'x / 2 from (300, -500)", "1, doubled", rtol=1e-9
            )


def test_minimize_first_trial_is_1_where_the_gradient_is_small():
    path = minimize(lambda x: x @ x / 2, lambda x: x, [0.25, -0.15], record_path=True).path
    assert_close(
        path, [[0.25, -0.15], [0, 0]], "the path of minimize down x'x / 2", "a whole step along -g", atol=1e-15
    )


def test_minimize_takes_each_gradient_once():
    problem, taken = rosenbrock(), []
    result = minimize(problem.fun, lambda x: taken.append(1) or problem.grad(x), problem.start)
    call = f"minimize took {len(taken)} gradients for {result.nfev} evaluations of the objective"
    assert len(taken) <= result.nfev, f"{call}: hand over what is known"


def test_minimize_converges_superlinearly():
    for name in ("Rosenbrock", "Beale", "Himmelblau"):
        _, errors, _ = walk(PROBLEMS[name], tol=1e-12)
        errors = errors[errors > 1e-9]  # below, rounding rules
        ratios = errors[1:] / errors[:-1]
        assert ratios[-1] < 0.1, f"the last errors of minimize on {name} shrink by {ratios[-3:]} only"


def test_minimize_takes_whole_steps_in_the_end():
    problem = rosenbrock()
    evaluated = []
    result = minimize(lambda x: evaluated.append(x) or problem.fun(x), problem.grad, problem.start, tol=1e-8)
    assert result.nfev == len(evaluated), f"nfev is {result.nfev}, and the objective was called {len(evaluated)} times"
    assert result.nfev <= 1.6 * result.nit, f"{result.nfev} evaluations for {result.nit} steps: few trials were 1"
    path, _, _ = walk(problem, tol=1e-8)
    for x in path[-5:]:
        assert any((x == y).all() for y in evaluated[-8:]), "the last steps needed more than one trial each"


def test_minimize_does_not_mind_the_unit_of_the_objective():
    problem = rosenbrock()
    start = problem.start + 0.1
    paths = [
        minimize(
            lambda x, c=c: c * problem.fun(x),
            lambda x, c=c: c * problem.grad(x),
            start,
            tol=0,
            max_iter=12,
            record_path=True,
        ).path
        for c in (1.0, 1024.0)
    ]  # powers of 2 change no digit; both first trials are the same move, since the gradient is large
    assert_close(paths[1], paths[0], "the path of minimize on 1024 f", "the path on f", rtol=1e-9)


def test_minimize_learns_the_inverse_only_where_there_is_curvature():
    # concave between, so that steps with the slope rising are few: x^4 - 3 x^2 with a bowl beside
    def fun(x):
        return float(x[0] ** 4 - 3 * x[0] ** 2 + 5 * x[1] ** 2)

    def grad(x):
        return np.array([4 * x[0] ** 3 - 6 * x[0], 10 * x[1]])

    result = minimize(fun, grad, [0.01, 0.7], tol=1e-8)
    assert result.success, f"minimize of a double well: {result.message}"
    assert_close(abs(result.x), [np.sqrt(1.5), 0], "minimize of a double well", "the bottom of a well", atol=1e-8)


def test_minimize_from_the_minimum_makes_no_step():
    problem = rosenbrock()
    result = minimize(problem.fun, problem.grad, problem.minimum, record_path=True)
    assert (result.nit, result.nfev, result.success) == (0, 1, True), f"nit, nfev, success: {result}"
    assert_close(result.path, [problem.minimum], "the path from the minimum", "the start alone")


def test_minimize_counts_and_records():
    problem = beale()
    path, _, result = walk(problem, tol=1e-8)
    assert path.shape == (result.nit + 1, 2), f"the path has the shape {path.shape} after {result.nit} steps"
    assert_close(path[0], problem.start, "the first point of the path", "the start")
    assert_close(path[-1], result.x, "the last point of the path", "x")
    assert minimize(problem.fun, problem.grad, problem.start).path is None, "a path was kept though not asked for"
    values = [problem.fun(x) for x in path]
    assert (np.diff(values) < 0).all(), f"the objective rose along the path: {values}"


def test_minimize_stops_after_max_iter():
    problem = rosenbrock()
    result = minimize(problem.fun, problem.grad, problem.start, max_iter=3)
    assert (result.nit, result.success, result.message) == (3, False, OUT_OF_STEPS), f"with max_iter=3: {result}"
    nit = minimize(problem.fun, problem.grad, problem.start).nit
    result = minimize(problem.fun, problem.grad, problem.start, max_iter=nit)
    assert result.success, f"with max_iter={nit}, which is just enough: {result.message}"


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_minimize_reports_what_has_no_minimum():
    result = minimize(lambda x: float(x.sum()), np.ones_like, [1.0, 2.0], max_iter=5)
    assert not result.success, f"minimize of a plane: {result}"
    result = minimize(lambda x: float(-np.exp(x.sum())), lambda x: -np.exp(x.sum()) * np.ones(2), [1.0, 2.0])
    assert result.message == DIVERGED, f"minimize of -exp(x1 + x2), until the slope overflows: {result}"
    result = minimize(lambda x: float(-(x @ x)), lambda x: -2 * x, [1.0, 2.0], max_iter=5)
    assert not result.success, f"minimize of what falls for ever: {result}"
    result = minimize(lambda x: np.nan, lambda x: x, [1.0, 2.0])
    assert (result.nit, result.message) == (0, DIVERGED), f"an objective that is NaN: {result}"
    result = minimize(lambda x: float(x @ x), lambda x: x * np.nan, [1.0, 2.0])
    assert (result.nit, result.message) == (0, DIVERGED), f"a gradient that is NaN: {result}"


def test_minimize_stalls_where_no_step_gains():
    wrong = minimize(lambda x: float(x @ x), lambda x: -2 * x, [1.0, 2.0])  # the gradient of something else
    assert (wrong.nit, wrong.success, wrong.message) == (0, False, STALLED), f"a gradient that points uphill: {wrong}"
    assert wrong.nfev > 1, f"nfev is {wrong.nfev}: the trials of the search that failed count too"


def test_minimize_uses_the_curvature_constant():
    problem = rosenbrock()
    few, many = (minimize(problem.fun, problem.grad, problem.start, curvature=c).nfev / 40 for c in (0.9, 0.01))
    assert many > few, (
        f"evaluations with curvature=0.01: {40 * many:.0f}, with 0.9: {40 * few:.0f}; stricter costs more"
    )


def test_minimize_keeps_the_precision_and_the_start():
    problem = quadratic(np.array([1.0, 3.0, 9.0]), rng=np.random.default_rng(5))
    start = problem.start.astype(np.float32)
    before = start.copy()
    result = minimize(problem.fun, problem.grad, start, tol=1e-3)
    assert result.x.dtype == np.float32, f"from a start in float32, x is {result.x.dtype}"
    assert result.success, f"minimize in float32: {result.message}"
    assert_close(start, before, "minimize changed the start, which now")
    whole = minimize(problem.fun, problem.grad, [1, 2, 3])
    assert_close(whole.x, problem.minimum, "minimize from a start of whole numbers", "the minimum", atol=1e-5)


def test_minimize_lets_what_the_objective_raises_through():
    def fun(x):
        raise ZeroDivisionError("the user's own")

    with pytest.raises(ZeroDivisionError, match="the user's own"):
        minimize(fun, lambda x: x, [1.0])


# the checks, which are given


@pytest.mark.given
@pytest.mark.parametrize("function", [update_inverse, update_matrix])
def test_update_matrix_and_inverse_refuse_what_they_cannot_learn_from(function):
    for change in (-CHANGE, np.zeros(3), np.full(3, np.nan)):
        with pytest.raises(ValueError, match="curvature condition"):
            function(INVERSE, MOVE, change)
    for arguments in ((INVERSE[:2], MOVE, CHANGE), (INVERSE, MOVE[:2], CHANGE), (INVERSE, MOVE, CHANGE[:2])):
        with pytest.raises(ValueError, match="move and change must have shapes"):
            function(*arguments)


@pytest.mark.given
def test_damped_change_refuses_what_is_no_move():
    for move, change in ((np.zeros(3), CHANGE), (MOVE, np.full(3, np.inf)), (np.full(3, np.nan), CHANGE)):
        with pytest.raises(ValueError, match="move and change must be finite"):
            damped_change(INVERSE, move, change)
    with pytest.raises(ValueError, match="matrix, move and change must have shapes"):
        damped_change(INVERSE, MOVE, CHANGE[:2])


@pytest.mark.given
@pytest.mark.parametrize(
    ("settings", "argument"),
    [({"tol": -1.0}, "tol"), ({"max_iter": 0}, "max_iter"), ({"start": [np.nan]}, "start"), ({"start": []}, "start")],
)
def test_minimize_refuses_what_it_cannot_use(settings, argument):
    with pytest.raises(ValueError, match=argument):
        minimize(lambda x: x @ x, lambda x: 2 * x, **({"start": [1.0, 2.0]} | settings))


def test_minimize_refuses_a_curvature_or_a_gradient_that_does_not_fit():
    with pytest.raises(ValueError, match="curvature"):
        minimize(lambda x: x @ x, lambda x: 2 * x, [1.0, 2.0], curvature=1.5)
    with pytest.raises(ValueError, match="grad must return shape"):
        minimize(lambda x: x @ x, lambda x: 2 * x[:1], [1.0, 2.0])
