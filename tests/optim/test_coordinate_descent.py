"""Shared tests of optim/coordinate_descent: run on the reference, and on the learner's file.

Closed forms are compared to 1e-9, which leaves room for any order of a few operations on numbers near 1; what an
iteration has found, to what its duality gap implies.
"""

from functools import cache, partial
from math import inf, nan

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, enet_path

from mlpath.optim._shared import quadratic
from mlpath.optim.coordinate_descent import (
    GAP_REACHED,
    OUT_OF_SWEEPS,
    duality_gap,
    elastic_net,
    gram_sweep,
    lasso_coordinate,
    lasso_path,
    minimize_quadratic,
    orthant_step,
    quadratic_sweep,
    residual_sweep,
    strong_set,
)
from mlpath.testing import assert_close

HESSIAN = np.array([[2.5, 0.7, -0.4], [0.7, 1.6, 0.9], [-0.4, 0.9, 3.2]])
LINEAR = np.array([1.3, -0.8, 2.1])

# a right solution needs 60 sweeps here, and 20 rounds; what does not converge should not take long to say so
fit, follow = partial(elastic_net, max_iter=150), partial(lasso_path, max_iter=60)


@pytest.fixture
def rng():
    return np.random.default_rng(2010)


@cache
def diabetes():
    features, targets = load_diabetes(return_X_y=True)
    return np.asarray(features) * np.sqrt(442), np.asarray(targets) - np.mean(targets)


@cache
def wide():
    """More features than samples, correlated, of which seven matter."""
    rng = np.random.default_rng(5)
    features = rng.standard_normal((40, 90)) + 0.6 * rng.standard_normal((40, 1))
    targets = features[:, ::13] @ np.array([2.0, -1.5, 1.0, 0.7, -2.2, 1.2, 0.4]) + 0.3 * rng.standard_normal(40)
    return features - features.mean(axis=0), targets - targets.mean()


def parts(features, targets, weights):
    """What belongs to the weights: residual, correlations, Gram matrix."""
    residual = targets - features @ weights
    return residual, residual @ features / len(targets), features.T @ features / len(targets)


def objective(features, targets, w, l1, l2=0.0):
    return ((targets - features @ w) ** 2).mean() / 2 + l1 * abs(w).sum() + l2 / 2 * w @ w


def refuses(name, call, *arguments, **options):
    with pytest.raises(ValueError, match=name):
        call(*arguments, **options)


# quadratic_sweep


def test_quadratic_sweep_minimises_along_each_coordinate_in_turn():
    start = np.array([0.3, -1.1, 0.6])
    found = quadratic_sweep(HESSIAN, LINEAR, start, range(3))
    x1 = (1.3 + 0.7 * 1.1 + 0.4 * 0.6) / 2.5  # 0.924
    x2 = (-0.8 - 0.7 * x1 - 0.9 * 0.6) / 1.6
    x3 = (2.1 + 0.4 * x1 - 0.9 * x2) / 3.2
    assert_close(found, [x1, x2, x3], "quadratic_sweep of three coordinates from [0.3, -1.1, 0.6]", "equation (1)")
    assert_close(start, [0.3, -1.1, 0.6], "the start, afterwards,", "the docstring: it is not changed", rtol=0)
    assert found is not start, "quadratic_sweep returned its argument; the docstring says a new array"


def test_quadratic_sweep_takes_coordinates_in_the_order_given():
    start = np.array([0.3, -1.1, 0.6])
    found = quadratic_sweep(HESSIAN, LINEAR, start, [2, 0, 2])
    x3 = (2.1 + 0.4 * 0.3 + 0.9 * 1.1) / 3.2
    x1 = (1.3 + 0.7 * 1.1 + 0.4 * x3) / 2.5
    x3 = (2.1 + 0.4 * x1 + 0.9 * 1.1) / 3.2
    assert_close(found, [x1, -1.1, x3], "quadratic_sweep in the order 2, 0, 2", "equation (1)")
    assert_close(quadratic_sweep(HESSIAN, LINEAR, start, []), start, "quadratic_sweep of no coordinate", "no change")


def test_quadratic_sweep_is_a_step_of_gauss_and_seidel(rng):
    problem = quadratic(np.geomspace(0.3, 4, 15), rng=rng)
    hessian, linear = problem.hessian, problem.hessian @ problem.minimum
    found = quadratic_sweep(hessian, linear, problem.start, range(15))
    expected = np.linalg.solve(np.tril(hessian), linear - np.triu(hessian, 1) @ problem.start)
    assert_close(found, expected, "quadratic_sweep of 15 coordinates", "equation (2)", rtol=1e-9, atol=1e-9)


def test_quadratic_sweep_converges_at_the_spectral_radius_of_equation_2(rng):
    problem = quadratic(np.geomspace(0.5, 4, 10), rng=rng)
    hessian, linear = problem.hessian, problem.hessian @ problem.minimum
    radius = abs(np.linalg.eigvals(np.linalg.solve(np.tril(hessian), np.triu(hessian, 1)))).max()
    path = minimize_quadratic(hessian, linear, problem.start, tol=1e-12, record_path=True).path
    errors = np.linalg.norm(path - problem.minimum, axis=1)
    later = errors[(errors < 1e-2) & (errors > 1e-9)]
    rate = (later[-1] / later[0]) ** (1 / (len(later) - 1))
    assert abs(rate / radius - 1) < 0.03, f"errors shrink by {rate:.4f} a sweep; the spectral radius is {radius:.4f}"


def test_quadratic_sweep_in_random_order_keeps_the_bound_of_equation_3():
    problem = quadratic(np.geomspace(1, 3, 8), rng=np.random.default_rng(3))
    hessian, linear = problem.hessian, problem.hessian @ problem.minimum
    n_sweeps = int(np.ceil(np.log(1e-14) / np.log(1 - 1 / (8 * np.diag(hessian).max())) / 8))
    result = minimize_quadratic(
        hessian, linear, problem.start, order="random", rng=np.random.default_rng(1), tol=0.0, max_iter=n_sweeps
    )
    # (3) bounds the mean by 1e-14 of the start; by Markov, a right solution is a million times above with odds of 1e-6
    left = problem.fun(result.x) / problem.fun(problem.start)
    assert left <= 1e-8, f"after {n_sweeps} random sweeps {left:.3g} of f - f* is left; (3) promises 1e-14 on average"


def test_quadratic_sweep_lets_its_driver_say_how_it_ended():
    call = "minimize_quadratic"
    result = minimize_quadratic(HESSIAN, LINEAR, np.zeros(3), tol=1e-9)
    assert result.success, f"{call} says {result.message!r}"
    assert_close(result.x, np.linalg.solve(HESSIAN, LINEAR), f"{call}.x", "H x = b", rtol=1e-8)
    assert_close(result.fun, -LINEAR @ result.x / 2, f"{call}.fun", "the value at the minimum", rtol=1e-8)
    again = minimize_quadratic(HESSIAN, LINEAR, np.zeros(3), tol=1e-9, max_iter=result.nit)
    assert again.success and again.nit == result.nit, f"with just enough sweeps {call} says {again.message!r}"
    less = minimize_quadratic(HESSIAN, LINEAR, np.zeros(3), tol=1e-9, max_iter=result.nit - 1)
    assert not less.success, f"with a sweep less {call} says {less.message!r}"
    kept = minimize_quadratic(HESSIAN.astype(np.float32), LINEAR.astype(np.float32), np.zeros(3, np.float32), tol=1e-4)
    assert kept.x.dtype == np.float32 and kept.success, f"{call} of float32 returned {kept.x.dtype}, {kept.message!r}"


@pytest.mark.given
def test_quadratic_sweep_has_a_driver_that_refuses_what_it_cannot_use():
    refuses("hessian", minimize_quadratic, HESSIAN[:2], LINEAR, np.zeros(3))
    refuses("hessian", minimize_quadratic, HESSIAN - 2 * np.eye(3), LINEAR, np.zeros(3))
    refuses("linear", minimize_quadratic, HESSIAN, LINEAR[:2], np.zeros(3))
    refuses("start", minimize_quadratic, HESSIAN, LINEAR, [0.0, nan, 0.0])
    refuses("order", minimize_quadratic, HESSIAN, LINEAR, np.zeros(3), order="backwards")
    refuses("order", minimize_quadratic, HESSIAN, LINEAR, np.zeros(3), order="random")


# lasso_coordinate


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((2.3, 0.4, 1.7, 0.6, 0.9), 2.38 / 2.6),
        ((-1.9, -0.4, 1.7, 0.6, 0.9), -1.98 / 2.6),
        ((0.8, -0.7, 1.7, 0.6, 0.9), 0.0),
        ((-2.3, 0.4, 1.7, 0.6), -1.02 / 1.7),
        ((0.5, 0.0, 1.7, 0.6), 0.0),
    ],
)
def test_lasso_coordinate_thresholds_and_divides(arguments, expected):
    found = lasso_coordinate(*arguments)
    assert_close(found, expected, f"lasso_coordinate{arguments}", "equation (5)", rtol=1e-9)


def test_lasso_coordinate_is_least_along_its_weight(rng):
    for _ in range(20):
        c, w, q, l1, l2 = rng.standard_normal(2).tolist() + rng.random(3).tolist()
        best = lasso_coordinate(c, w, q, l1, l2)
        grid = best + np.linspace(-1, 1, 2001)
        values = (q + l2) / 2 * grid**2 - (c + q * w) * grid + l1 * abs(grid)
        assert values.argmin() == 1000, (
            f"lasso_coordinate({c}, {w}, {q}, {l1}, {l2}) returned {best}; {grid[values.argmin()]} is better"
        )


def test_lasso_coordinate_is_zero_for_a_feature_of_zeros():
    for l1, l2 in ((0.5, 0.0), (0.5, 0.3), (0.0, 0.0)):
        found = lasso_coordinate(0.0, 0.7, 0.0, l1, l2)
        assert found == 0, f"the weight of a feature that is 0 throughout came out as {found}, with l1={l1}, l2={l2}"


# residual_sweep


def test_residual_sweep_keeps_the_residual_that_belongs_to_the_weights():
    features = np.array([[1.2, -0.3, 0.5], [0.4, 1.1, -0.8], [-0.7, 0.6, 1.4], [0.9, 0.2, 0.3]])
    targets, start = np.array([2.1, -1.3, 0.8, 1.6]), np.array([0.5, -0.4, 0.0])
    residual = targets - features @ start
    kept = residual.copy()
    found, weights = residual_sweep(features, residual, start, range(3), l1=0.1, l2=0.2)
    expected, r = start.copy(), residual.copy()
    for j in range(3):
        q = features[:, j] @ features[:, j] / 4
        z = features[:, j] @ r / 4 + q * expected[j]
        new = np.sign(z) * max(abs(z) - 0.1, 0) / (q + 0.2)
        r, expected[j] = r - (new - expected[j]) * features[:, j], new
    call = "residual_sweep of three weights from [0.5, -0.4, 0] with l1=0.1, l2=0.2"
    assert_close(weights, expected, f"the weights of {call}", "equations (5) and (6)")
    assert_close(found, targets - features @ weights, f"the residual of {call}", "y - X w", atol=1e-12)
    assert_close(residual, kept, "the residual handed over, afterwards,", "the docstring: it is not changed", rtol=0)
    assert_close(start, [0.5, -0.4, 0.0], "the weights handed over, afterwards,", "they are not changed", rtol=0)


def test_residual_sweep_never_raises_the_objective_and_ends_at_a_minimum():
    features, targets = diabetes()
    residual, weights = targets, np.zeros(10)
    values = []
    for _ in range(25):
        values.append(objective(features, targets, weights, 4.0, 0.1))
        residual, weights = residual_sweep(features, residual, weights, range(10), l1=4.0, l2=0.1)
    assert (np.diff(values) <= 1e-9 * values[0]).all(), f"the objective rose in a sweep: {values}"
    correlations = residual @ features / 442
    _, gap = duality_gap(targets, residual, correlations, weights, l1=4.0, l2=0.1)
    assert gap <= 1e-3 * values[0], f"after 25 sweeps over the diabetes data a gap of {gap} of {values[0]} is left"


def test_residual_sweep_takes_weights_in_the_order_given():
    features, targets = diabetes()
    _, weights = residual_sweep(features, targets, np.zeros(10), [8, 2, 8], l1=4.0)
    assert set(np.flatnonzero(weights)) == {2, 8}, f"with the order 8, 2, 8 the weights {np.flatnonzero(weights)} moved"
    residual, once = residual_sweep(features, targets, np.zeros(10), [8, 2], l1=4.0)
    _, twice = residual_sweep(features, residual, once, [8], l1=4.0)
    assert_close(weights, twice, "residual_sweep in the order 8, 2, 8", "8, 2 and then 8", rtol=1e-9)
    assert weights[8] != once[8], "the second visit should have changed weight 8"


# gram_sweep


def test_gram_sweep_does_what_residual_sweep_does():
    for features, targets in (diabetes(), wide()):
        n_samples, dim = features.shape
        l1, l2 = 0.2 * abs(targets @ features).max() / n_samples, 0.1
        residual, weights = targets, np.zeros(dim)
        _, correlations, gram = parts(features, targets, weights)
        handed = correlations.copy()
        for sweep in range(3):
            before = weights.copy()
            found, mine = gram_sweep(gram, correlations, weights, l1=l1, l2=l2)
            residual, theirs = residual_sweep(features, residual, weights, range(dim), l1=l1, l2=l2)
            call = f"sweep {sweep + 1} of gram_sweep on {n_samples} x {dim}"
            assert_close(mine, theirs, f"the weights of {call}", "residual_sweep", atol=1e-9)
            assert_close(found, residual @ features / n_samples, f"the correlations of {call}", "X'r / n", atol=1e-9)
            assert_close(weights, before, "the weights handed over, afterwards,", "they are not changed", rtol=0)
            if sweep == 0:
                assert_close(correlations, handed, "the correlations handed over, afterwards,", "not changed", rtol=0)
            correlations, weights = found, mine


def test_gram_sweep_by_hand():
    gram, correlations = np.array([[1.3, 0.4], [0.4, 0.9]]), np.array([1.7, -1.2])
    found, weights = gram_sweep(gram, correlations, np.array([0.0, 0.3]), l1=0.35, l2=0.2)
    # 1.35 / 1.5 = 0.9; c = (0.53, -1.56); -1.56 + 0.27 = -1.29, -0.94 / 1.1; the move is that less 0.3
    second = -0.94 / 1.1
    assert_close(weights, [0.9, second], "the weights of gram_sweep from [0, 0.3]", "equation (5)")
    expected = np.array([0.53, -1.56]) - (second - 0.3) * np.array([0.4, 0.9])
    assert_close(found, expected, "the correlations of gram_sweep from [0, 0.3]", "equation (7)")


def test_gram_sweep_keeps_float32():
    single = np.eye(2, dtype=np.float32)
    found, weights = gram_sweep(single, single[0], np.zeros(2, np.float32), l1=0.35, l2=0.2)
    assert (found.dtype, weights.dtype) == (np.float32, np.float32), f"from float32 came {found.dtype}, {weights.dtype}"


# orthant_step


def test_orthant_step_solves_equation_9_if_the_signs_stay():
    gram = np.array([[1.3, 0.4, 0.2], [0.4, 0.9, -0.1], [0.2, -0.1, 1.1]])
    weights, correlations = np.array([0.8, 0.0, -0.5]), np.array([0.6, 0.9, -0.7])
    found, new = orthant_step(gram, correlations, weights, l1=0.35, l2=0.2)
    # slopes 0.6 - 0.16 - 0.35 and -0.7 + 0.1 + 0.35; the matrix is (1.5, 0.2; 0.2, 1.3)
    move = np.linalg.solve([[1.5, 0.2], [0.2, 1.3]], [0.09, -0.25])
    expected = [0.8 + move[0], 0.0, -0.5 + move[1]]
    assert_close(new, expected, "the weights of orthant_step from [0.8, 0, -0.5]", "equation (9)", rtol=1e-9)
    expected = correlations - gram @ (np.array(expected) - weights)
    assert_close(found, expected, "the correlations of orthant_step", "(7) for each change", rtol=1e-9)
    assert_close(found[[0, 2]] - 0.2 * new[[0, 2]], [0.35, -0.35], "c - l2 w where w is not zero", "(8)", rtol=1e-9)
    assert_close(weights, [0.8, 0.0, -0.5], "the weights handed over, afterwards,", "they are not changed", rtol=0)
    assert_close(correlations, [0.6, 0.9, -0.7], "the correlations handed over, afterwards,", "not changed", rtol=0)


def test_orthant_step_stops_where_the_first_weight_reaches_zero():
    gram = np.array([[1.0, 0.3, 0.0], [0.3, 1.0, 0.0], [0.0, 0.0, 1.0]])
    weights, correlations = np.array([0.2, -0.3, 0.4]), np.array([-0.9, 0.9, 0.8])
    found, new = orthant_step(gram, correlations, weights, l1=0.5)
    move = np.linalg.solve(gram, [-1.4, 1.4, 0.3])  # (-2, 2, 0.3): after a tenth the first is zero, the second later
    assert_close(
        new, weights + 0.1 * move, "orthant_step from [0.2, -0.3, 0.4]", "(9) up to the first zero", atol=1e-12
    )
    assert new[0] == 0, f"the weight that reaches zero should be exactly 0, not {new[0]}"
    assert_close(found, correlations - 0.1 * gram @ move, "its correlations", "(7)", atol=1e-12)
    before = objective_of(gram, correlations, weights, weights)
    assert objective_of(gram, correlations, weights, new) < before, "the step should have lowered the objective"


def objective_of(gram, correlations, weights, w, l1=0.5):
    """The objective at w, up to a constant, if `correlations` belong to `weights`."""
    move = w - weights
    return move @ gram @ move / 2 - correlations @ move + l1 * abs(w).sum()


def test_orthant_step_makes_one_weight_exactly_zero_where_a_sign_would_change(rng):
    for _ in range(40):
        weights = rng.standard_normal(5)
        slopes = -np.sign(weights) * (abs(weights) + rng.random(5))  # all would change their signs
        _, new = orthant_step(np.eye(5), slopes + 0.3 * np.sign(weights), weights, l1=0.3)
        assert (new == 0).sum() == 1, (
            f"from {weights} with moves of {slopes} just one weight should become 0; got {new}"
        )
        first = (abs(weights) / abs(slopes)).argmin()
        assert new[first] == 0, f"from {weights} with moves of {slopes} weight {first} is the first at 0; got {new}"


def test_orthant_step_leaves_alone_a_weight_that_is_right_already():
    for sign in (1, -1):
        weights, correlations = sign * np.array([0.5, 0.25]), sign * np.array([0.5, 0.75])
        with np.errstate(all="ignore"):
            found, new = orthant_step(np.eye(2), correlations, weights, l1=0.5)
        assert_close(
            new, sign * np.array([0.5, 0.5]), f"orthant_step from {weights}, the first of which satisfies (8),", "(9)"
        )
        assert_close(found, sign * np.array([0.5, 0.5]), "its correlations", "(7)")
        assert found is not correlations and new is not weights, "orthant_step returned its arguments, not new arrays"


def test_orthant_step_does_nothing_where_there_is_nothing_to_solve():
    gram = np.array([[1.0, 1.0], [1.0, 1.0]])  # two equal features
    weights, correlations = np.array([0.5, 0.25]), np.array([0.75, 0.75])
    found, new = orthant_step(gram, correlations, weights, l1=0.5)
    assert_close(
        new, weights, "orthant_step with two equal features", "no change: the matrix of (9) is singular", rtol=0
    )
    assert_close(found, correlations, "its correlations", "no change", rtol=0)
    assert not np.shares_memory(new, weights) and not np.shares_memory(found, correlations), (
        "it should return new arrays"
    )
    found, new = orthant_step(gram, correlations, np.zeros(2), l1=0.5)
    assert_close(new, [0.0, 0.0], "orthant_step from zero", "zeros stay", rtol=0)
    assert_close(found, correlations, "its correlations", "no change", rtol=0)


def test_orthant_step_keeps_float32():
    single = np.eye(2, dtype=np.float32)
    found, weights = orthant_step(single, single[0], single[0], l1=0.35, l2=0.2)
    assert (found.dtype, weights.dtype) == (np.float32, np.float32), f"from float32 came {found.dtype}, {weights.dtype}"


def test_orthant_step_never_raises_the_objective(rng):
    for n_samples in (5, 12, 30):
        features = rng.standard_normal((n_samples, 12))
        features[:, 7] = features[:, 3]
        targets, weights = rng.standard_normal(n_samples), rng.standard_normal(12) * (rng.random(12) < 0.6)
        _, correlations, gram = parts(features, targets, weights)
        found, new = orthant_step(gram, correlations, weights, l1=0.1)
        before, after = objective(features, targets, weights, 0.1), objective(features, targets, new, 0.1)
        assert after <= before * (1 + 1e-12), f"with {n_samples} samples the objective rose from {before} to {after}"
        assert (new * weights >= 0).all(), f"a weight has changed its sign: {weights} became {new}"
        assert_close(found, parts(features, targets, new)[1], "the correlations of orthant_step", "X'r / n", atol=1e-9)


# elastic_net


@pytest.mark.parametrize(("alpha", "l1_ratio"), [(4.0, 1.0), (20.0, 1.0), (0.8, 0.6), (5.0, 0.2)])
@pytest.mark.parametrize("order", ["cyclic", "random"])
def test_elastic_net_finds_scikit_learns_weights(alpha, l1_ratio, order, rng):
    features, targets = diabetes()
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=False, tol=1e-13, max_iter=100_000)
    expected = model.fit(features, targets).coef_
    result = fit(features, targets, alpha, l1_ratio=l1_ratio, order=order, rng=rng, tol=1e-8)
    call = f"elastic_net(alpha={alpha}, l1_ratio={l1_ratio}, order={order!r})"
    assert result.success and result.message == GAP_REACHED, f"{call} says {result.message!r} after {result.nit} sweeps"
    assert_close(result.x, expected, f"{call}.x", "scikit-learn's ElasticNet", atol=0.05)
    value = objective(features, targets, result.x, alpha * l1_ratio, alpha * (1 - l1_ratio))
    assert_close(result.fun, value, f"{call}.fun", "the objective (4) at x", rtol=1e-9)
    least = objective(features, targets, expected, alpha * l1_ratio, alpha * (1 - l1_ratio))
    allowed = 1e-8 * (targets @ targets) / 884
    assert value - least <= result.gap + 1e-9 <= allowed + 2e-9, f"{call}: gap {result.gap}, left {value - least}"


def test_elastic_net_stops_when_the_gap_is_within_tol_and_records_its_sweeps():
    features, targets = diabetes()
    top = (targets @ targets) / 884
    for tol in (1e-2, 1e-4):
        result = fit(features, targets, 2.0, tol=tol, record_path=True)
        gaps = [duality_gap(targets, *parts(features, targets, w)[:2], w, l1=2.0)[1] / top for w in result.path]
        call = f"elastic_net(alpha=2, tol={tol})"
        assert gaps[-1] <= tol < min(gaps[:-1]), f"{call} stopped after gaps of {gaps}, relative to the objective at 0"
        assert len(result.path) == result.nit + 1, f"{call} made {result.nit} sweeps and {len(result.path)} points"
        assert result.nfev == result.nit + 1, f"{call}: one value a point makes {result.nit + 1}, it says {result.nfev}"
        assert_close(result.gap, gaps[-1] * top, f"{call}.gap", "the duality gap at x", rtol=1e-6, atol=1e-9)
    assert not result.path[0].any(), "the path should begin at zero"
    _, first = residual_sweep(features, targets, np.zeros(10), range(10), l1=2.0)
    assert_close(result.path[1], first, "the first point of the path", "one cyclic sweep", rtol=1e-9)
    drawn = elastic_net(features, targets, 2.0, order="cyclic", rng=np.random.default_rng(0), max_iter=1)
    assert_close(drawn.x, first, "one sweep in cyclic order, although rng is given,", "one cyclic sweep", rtol=1e-9)
    needed = result.nit
    again = fit(features, targets, 2.0, tol=1e-4, max_iter=needed)
    assert again.success and again.nit == needed, f"with just enough sweeps it says {again.message!r}"
    less = fit(features, targets, 2.0, tol=1e-4, max_iter=needed - 1)
    assert not less.success and less.message == OUT_OF_SWEEPS and less.nit == needed - 1, (
        f"a sweep less: {less.message!r}"
    )
    assert less.path is None, "path should be None unless it is asked for"


def test_elastic_net_draws_at_random_with_replacement(rng):
    # orthogonal features: one visit sets a weight for good, and the share never visited in a sweep is about 1 / e
    features = np.eye(400) * 20
    result = fit(features, np.full(400, 3.0), 1e-3, order="random", rng=rng, max_iter=1, tol=0.0)
    share = (result.x == 0).mean()
    # the number of empty boxes of 400 has the variance 400 (1/e - 2/e^2): six standard errors of its share are 0.094
    assert abs(share - np.exp(-1)) < 0.094, f"a random sweep left {share:.3f} of the weights untouched; expected 0.368"


def test_elastic_net_with_large_penalties_constant_columns_and_equal_columns():
    features, targets = diabetes()
    top = abs(targets @ features).max() / 442
    result = fit(features, targets, 1.0000001 * top)
    assert not result.x.any() and result.success, f"above the largest correlation all weights are 0; got {result.x}"
    assert result.nit == 0, f"there the start is good enough already: no sweep is needed, and it made {result.nit}"
    assert fit(features, targets, 0.99 * top).x.any(), "below the largest correlation some weight is not 0"
    more = np.column_stack([features[:, :4], np.zeros(442), features[:, 4:], features[:, 2]])
    with np.errstate(all="raise"):
        result = fit(more, targets, 5.0, tol=1e-8)
    alone = fit(features, targets, 5.0, tol=1e-8)
    assert result.success and result.x[4] == 0, f"the weight of a column of zeros is {result.x[4]}: {result.message!r}"
    assert_close(more @ result.x, features @ alone.x, "the fit with a column twice", "that with it once", atol=0.05)
    assert_close(result.fun, alone.fun, "the objective with a column twice", "that with it once", rtol=1e-7)
    zero = fit(features, np.zeros(442), 1.0)
    assert zero.success and not zero.x.any(), f"targets of zero: {zero.message!r}"


def test_elastic_net_leaves_its_data_alone_and_keeps_float32():
    features, targets = diabetes()
    kept = features.copy(), targets.copy()
    single = fit(features.astype(np.float32), targets.astype(np.float32), 5.0, tol=1e-4)
    double = fit(np.asfortranarray(features), targets, 5.0, tol=1e-4)
    assert single.x.dtype == np.float32, f"elastic_net of float32 data returned {single.x.dtype}"
    assert_close(single.x, double.x, "elastic_net of float32 data", "that of float64", atol=0.5)
    fit(features, targets, 2.0, tol=1e-2)
    for name, now, before in zip(("features", "targets"), (features, targets), kept, strict=True):
        assert_close(now, before, f"the {name}, afterwards,", "the docstring: they are not changed", rtol=0)


@pytest.mark.given
def test_elastic_net_refuses_what_it_cannot_use():
    x, y = np.ones((3, 2)), np.ones(3)
    refuses("features", elastic_net, np.ones(3), y, 1.0)
    refuses("features", elastic_net, np.full((3, 2), nan), y, 1.0)
    refuses("targets", elastic_net, x, np.ones(2), 1.0)
    refuses("targets", elastic_net, x, np.array([1.0, inf, 0.0]), 1.0)
    for alpha in (0.0, -1.0, nan):
        refuses("alpha", elastic_net, x, y, alpha)
        refuses("alpha", lasso_path, x, y, np.array([1.0, alpha]))
    refuses("l1_ratio", elastic_net, x, y, 1.0, l1_ratio=0.0)
    refuses("tol", elastic_net, x, y, 1.0, tol=-1.0)
    refuses("max_iter", elastic_net, x, y, 1.0, max_iter=0)
    refuses("order", elastic_net, x, y, 1.0, order="random")


# strong_set


def test_strong_set_compares_with_twice_the_new_less_the_old():
    correlations = np.array([1.3, -1.12, 1.07, 1.15, -0.2, 1.3])
    found = strong_set(correlations, 1.2, 1.3)  # the bound is 1.1
    assert list(found) == [True, True, False, True, False, True], f"strong_set(..., 1.2, 1.3) returned {found}: (10)"
    found = strong_set(correlations, 0.6, 1.3)  # the bound is negative: all
    assert np.asarray(found).all(), f"strong_set(..., 0.6, 1.3) should keep all, the bound of (10) is -0.1; got {found}"
    found = strong_set(np.array([0.5, -0.5, 0.25]), 0.75, 1.0)
    assert list(found) == [True, True, False], f"a correlation of just the bound, 0.5, is kept; got {found}"


# lasso_path


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("data", [diabetes, wide])
def test_lasso_path_follows_scikit_learns(data, l1_ratio):
    features, targets = data()
    top = abs(targets @ features).max() / len(targets) / l1_ratio
    alphas = np.geomspace(top, top / 60, 9)
    found = follow(features, targets, alphas, l1_ratio=l1_ratio, tol=1e-10)
    expected = enet_path(features, targets, alphas=alphas, l1_ratio=l1_ratio, tol=1e-11, max_iter=100_000)[1].T
    call = f"lasso_path of {features.shape} features, l1_ratio={l1_ratio}"
    assert found.success, f"{call}: the largest gap is {found.gaps.max()}"
    assert_close(found.alphas, alphas, f"{call}.alphas", "the penalties, largest first", rtol=1e-12)
    assert_close(
        found.weights, expected, f"{call}.weights", "scikit-learn's enet_path", atol=2e-3 * abs(expected).max()
    )
    for w, gap, alpha in zip(found.weights, found.gaps, alphas, strict=True):
        residual, correlations, _ = parts(features, targets, w)
        l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
        real = duality_gap(targets, residual, correlations, w, l1=l1, l2=l2)[1]
        allowed = 1e-10 * (targets @ targets) / (2 * len(targets))
        assert real <= 2 * allowed, f"{call} at alpha={alpha:.4g}: the gap is {real:.3g}, {allowed:.3g} was asked for"
        assert abs(gap - real) <= allowed, f"{call} at alpha={alpha:.4g}: it says {gap:.3g}, the gap is {real:.3g}"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shares", [(0.9, 0.7, 0.5), (0.6, 0.4), (0.95, 0.6)])
def test_lasso_path_lets_in_what_the_strong_rule_has_left_out(shares, sign):
    # features that correlate negatively: here a correlation grows by more than the penalty shrinks
    rng = np.random.default_rng(144)
    features = rng.standard_normal((10, 5))
    features[:, 1] -= 1.5 * features[:, 0]
    features[:, 2] -= 1.5 * features[:, 1]
    targets = features @ rng.standard_normal(5) * 2 + 0.1 * rng.standard_normal(10)
    features *= sign  # the feature that is missed has a positive correlation, or a negative one
    top = abs(targets @ features).max() / 10
    alphas = top * np.array(shares)
    found = follow(features, targets, alphas, tol=1e-10)
    call = f"lasso_path for {shares} of the largest correlation"
    weights, previous, missed, seen = np.zeros(5), top, 0, np.zeros(5, bool)
    for alpha, w, gap in zip(alphas, found.weights, found.gaps, strict=True):
        seen |= abs(parts(features, targets, weights)[1]) >= 2 * alpha - previous
        missed += (~seen & (w != 0)).sum()
        residual, correlations, _ = parts(features, targets, w)
        assert (abs(correlations) <= alpha * (1 + 1e-6)).all(), (
            f"{call}: correlations {correlations} exceed {alpha}: (8)"
        )
        real = duality_gap(targets, residual, correlations, w, l1=alpha)[1]
        assert real <= 1e-9 * (targets @ targets) and abs(gap - real) < 1e-9, (
            f"{call}: it says {gap}, the gap is {real}"
        )
        weights, previous, seen = w, alpha, seen | (w != 0)
    assert found.success and missed > 0, f"{call}: success is {found.success}, and {missed} features were let in later"


def test_lasso_path_starts_each_penalty_from_the_last_solution():
    features, targets = wide()
    top = abs(targets @ features).max() / 40
    alphas = np.geomspace(top, top / 20, 15)
    found = lasso_path(features, targets, alphas, max_iter=6)
    assert found.success, (
        f"from the last solution 4 rounds do for each penalty; after 6 the largest gap is {found.gaps.max()}"
    )
    alone = lasso_path(features, targets, alphas[-1:], max_iter=6)
    assert not alone.success, "from zero, 6 rounds should not do for the last of these penalties"


def test_lasso_path_takes_penalties_in_any_order_and_above_the_largest_correlation():
    features, targets = diabetes()
    top = abs(targets @ features).max() / 442
    found = follow(features, targets, top * np.array([0.05, 2.0, 0.4]), tol=1e-9)
    assert_close(found.alphas, top * np.array([2.0, 0.4, 0.05]), "lasso_path(...).alphas", "largest first", rtol=1e-12)
    assert not found.weights[0].any(), f"at twice the largest correlation all weights are 0; got {found.weights[0]}"
    assert found.success and found.weights.shape == (3, 10), f"success {found.success}, shape {found.weights.shape}"
    for alpha, w in zip(found.alphas, found.weights, strict=True):
        assert_close(w, fit(features, targets, alpha, tol=1e-9).x, f"lasso_path at {alpha:.4g}", atol=0.05)
    assert_close(features.shape, (442, 10), "the shape of the features, afterwards,")


def test_lasso_path_with_constant_and_equal_columns_and_float32():
    features, targets = diabetes()
    more = np.column_stack([features[:, :4], np.zeros(442), features[:, 4:], features[:, 2]])
    alphas = np.array([20.0, 5.0, 1.0])
    with np.errstate(divide="raise", invalid="raise"):
        found = follow(more, targets, alphas, tol=1e-9)
    alone = follow(features, targets, alphas, tol=1e-9)
    assert found.success and not found.weights[:, 4].any(), f"a column of zeros has the weights {found.weights[:, 4]}"
    assert_close(found.weights @ more.T, alone.weights @ features.T, "fits with a column twice", "once", atol=0.1)
    single = follow(features.astype(np.float32), targets, alphas, tol=1e-4)
    assert single.weights.dtype == np.float32, f"lasso_path of float32 features returned {single.weights.dtype}"
    assert single.gaps.dtype == np.float32, f"lasso_path of float32 features returned gaps of {single.gaps.dtype}"
    assert_close(single.weights, alone.weights, "lasso_path of float32 features", "that of float64", atol=0.3)


def test_lasso_path_stops_when_the_gap_is_within_tol():
    features, targets = diabetes()
    alphas = np.array([20.0, 8.0])
    once, found = (lasso_path(features, targets, alphas, tol=0.3, max_iter=n) for n in (1, 60))
    assert once.success, f"to a relative gap of 0.3 one round should do; the gaps are {once.gaps}"
    assert_close(found.weights, once.weights, "lasso_path(tol=0.3), for which one round does,", "one round", rtol=1e-9)
    zero = follow(features, np.zeros(442), alphas)
    assert zero.success and not zero.weights.any(), f"targets of zero: success {zero.success}, weights {zero.weights}"


def test_lasso_path_says_so_if_its_rounds_are_used_up():
    features, targets = wide()
    top = abs(targets @ features).max() / 40
    found = follow(features, targets, top * np.array([0.5, 0.01]), tol=1e-13, max_iter=1)
    assert found.success is False or found.success == np.False_, "one round cannot do; success should be False"
    assert np.isfinite(found.weights).all() and found.weights.shape == (2, 90), "it should return what it has"
