"""Shared tests of optim/cma_es: run on the reference, and on the learner's file.

All but some tests of `minimize` are deterministic: the normal numbers are handed over. Tolerances of 1e-9 leave room for
another order of the operations. The others are seeded, with limits far beyond what 100 to 300 seeds of the reference
did, so that any order of the draws passes.
"""

from dataclasses import replace

import numpy as np
import pytest

from mlpath.optim._shared import rastrigin, rosenbrock
from mlpath.optim.cma_es import (
    CONVERGED,
    DIVERGED,
    FLAT,
    ILL_CONDITIONED,
    OUT_OF_STEPS,
    TARGET,
    Strategy,
    adapt_covariance,
    adapt_step_size,
    advance,
    begin,
    minimize,
    preferences,
    sample,
    strategy,
    update_paths,
)
from mlpath.testing import assert_close


class Counted:
    """A function that remembers its points and values."""

    def __init__(self, function):
        self.function, self.points, self.values = function, [], []

    def __call__(self, x):
        self.points.append(np.array(x))
        self.values.append(self.function(x))
        return self.values[-1]


def sphere(x):
    return float(x @ x)


WEIGHTS = np.array([0.55, 0.3, 0.15, -0.12, -0.21, -0.37])
CONSTANTS = Strategy(WEIGHTS, 3, 2.37, 0.31, 1.42, 0.27, 0.083, 0.117, 1.61)  # no real ones: any numbers will do
COVARIANCE = np.array([[2.3, 0.7, -0.4], [0.7, 1.1, 0.2], [-0.4, 0.2, 0.9]])
STEPS = np.array(
    [[0.4, -1.3, 0.7], [1.9, 0.2, -0.8], [-0.6, 0.5, 1.1], [2.1, 1.4, -0.3], [-1.2, 0.8, 2.6], [0.9, -2.2, -1.7]]
)


def state():
    """A state in the midst of a run."""
    first = begin(np.array([1.2, -0.7, 3.1]), 0.43, COVARIANCE)
    return replace(first, path_sigma=np.array([0.9, -0.4, 0.3]), path_c=np.array([-0.5, 1.1, 0.2]), generation=4)


def root(matrix, power):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**power) @ vectors.T


def same(a, b, call, reason):
    """Compare two states but for the signs of eigenvectors."""
    for name in ("mean", "sigma", "covariance", "path_sigma", "path_c", "generation", "lengths"):
        assert_close(getattr(a, name), getattr(b, name), f"{call}.{name}", reason, rtol=1e-8, atol=1e-10)


def walk(fun, dim, n_generations, seed=0, rotation=None, start=None, sigma=0.5, n_draws=8):
    """The states of a run, with draws turned by a rotation."""
    rng, constants = np.random.default_rng(seed), strategy(dim, n_draws)
    states = [begin(np.ones(dim) if start is None else start, sigma)]
    for _ in range(n_generations):
        steps = sample(begin(np.zeros(dim), 1.0, states[-1].covariance), rng.standard_normal((n_draws, dim)))
        if rotation is not None:  # the same steps as a run in other coordinates makes
            steps = rotation(steps, states[-1])
        points = states[-1].mean + states[-1].sigma * steps
        states.append(advance(states[-1], constants, points, np.array([fun(x) for x in points])))
    return states


# preferences


def test_preferences_of_cases_by_hand():
    got = preferences(6)
    assert_close(got, np.log(3.5 / np.arange(1, 7)), "preferences(6)", "equation (2)", rtol=1e-12)
    got = preferences(7)
    assert_close(got, np.log(4 / np.arange(1, 8)), "preferences(7)", "(2): the middle one is 0", rtol=1e-12, atol=1e-15)


@pytest.mark.given
def test_preferences_needs_four_draws():
    with pytest.raises(ValueError, match="n_draws"):
        preferences(3)


# strategy


@pytest.mark.parametrize(("n", "n_draws"), [(1, 4), (3, 7), (10, 10), (40, 15), (5, 100), (1, 1000)])
def test_strategy_has_the_published_constants(n, n_draws):
    raw = [np.log((n_draws + 1) / 2) - np.log(i) for i in range(1, n_draws + 1)]
    mu = n_draws // 2
    effective = sum(raw[:mu]) ** 2 / sum(w * w for w in raw[:mu])
    against = sum(raw[mu:]) ** 2 / sum(w * w for w in raw[mu:])
    got, call = strategy(n, n_draws), f"strategy({n}, {n_draws})"
    assert got.n_parents == mu, f"{call}.n_parents is {got.n_parents}, half of the draws is {mu}"
    c_1 = 2 / ((n + 1.3) ** 2 + effective)
    c_mu = min(1 - c_1, 2 * (effective - 1.75 + 1 / effective) / ((n + 2) ** 2 + effective))
    c_sigma = (effective + 2) / (n + effective + 5)
    expected = {
        "effective": (effective, "(3)"),
        "rate_sigma": (c_sigma, "(4)"),
        "damping": (1 + c_sigma + 2 * max(0, np.sqrt((effective - 1) / (n + 1)) - 1), "(4)"),
        "rate_path": ((4 + effective / n) / (4 + n + 2 * effective / n), "(4)"),
        "rate_one": (c_1, "(5)"),
        "rate_mu": (c_mu, "(5)"),
        "expected_norm": (np.sqrt(n) * (1 - 1 / 4 / n + 1 / 21 / n / n), "(11)"),
    }
    for name, (value, equation) in expected.items():
        assert_close(getattr(got, name), value, f"{call}.{name}", equation, rtol=1e-9)
    size = min(1 + c_1 / c_mu, 1 + 2 * against / (effective + 2), (1 - c_1 - c_mu) / (n * c_mu))
    weights = [w / sum(raw[:mu]) for w in raw[:mu]] + [size * w / abs(sum(raw[mu:])) for w in raw[mu:]]
    assert_close(got.weights, weights, f"{call}.weights", "(6) and above", rtol=1e-9, atol=1e-14)
    plain = strategy(n, n_draws, active=False)
    assert_close(plain.weights, weights[:mu] + [0.0] * (n_draws - mu), f"{call[:-1]}, active=False).weights", "(6)")
    assert_close(plain.rate_mu, c_mu, f"{call[:-1]}, active=False).rate_mu", "(5)", rtol=1e-9)


@pytest.mark.given
def test_strategy_needs_a_variable():
    with pytest.raises(ValueError, match="dim"):
        strategy(0, 8)


# sample


def test_sample_of_a_case_by_hand():
    now, normals = state(), np.array([[0.3, -1.2, 0.8], [2.1, 0.4, -0.6]])
    before = normals.copy()
    expected = now.mean + 0.43 * np.array([now.axes @ (now.lengths * z) for z in normals])
    assert_close(sample(now, normals), expected, f"sample(state, {normals.tolist()})", "equation (1)", rtol=1e-9)
    assert_close(normals, before, "sample changed the normal numbers, which now")


def test_sample_has_the_covariance_of_the_state():
    normals = np.vstack([np.sqrt(3) * np.eye(3), -np.sqrt(3) * np.eye(3)])  # of mean 0 and covariance I, exactly
    got = sample(state(), normals) - state().mean
    expected = 0.43**2 * COVARIANCE
    assert_close(got.T @ got / 6, expected, "the covariance of sample(state, ...)", "sigma^2 C", rtol=1e-9, atol=1e-12)


# update_paths


def test_update_paths_of_a_case_by_hand():
    now, move = state(), np.array([0.7, -0.2, 0.5])
    path_sigma, path_c, moving = update_paths(now, CONSTANTS, move)
    expected = 0.69 * now.path_sigma + np.sqrt(0.31 * 1.69 * 2.37) * root(COVARIANCE, -0.5) @ move
    assert_close(path_sigma, expected, "update_paths(state, constants, move): path_sigma", "(8)", rtol=1e-9)
    expected = 0.73 * now.path_c + np.sqrt(0.27 * 1.73 * 2.37) * move
    assert_close(path_c, expected, "update_paths(state, constants, move): path_c", "(10)", rtol=1e-9)
    assert bool(moving), "update_paths(state, constants, move): h should be true"
    assert_close(now.path_c, [-0.5, 1.1, 0.2], "update_paths changed the state's path_c, which now")


@pytest.mark.parametrize("generation", [0, 1, 40])
def test_update_paths_stalls_exactly_beyond_the_limit(generation):
    memory = np.sqrt(1 - 0.69 ** (2 * (generation + 1)))
    limit = (1.4 + 2 / 4) * 1.61 * memory
    now = replace(begin(np.zeros(3), 1.0), path_c=np.array([-0.5, 1.1, 0.2]), generation=generation)
    factor = np.sqrt(0.31 * 1.69 * 2.37)
    for share in (0.999, 1.3, 1.001):
        move = np.array([0.0, 0.6, -0.8]) * share * limit / factor
        _, path_c, moving = update_paths(now, CONSTANTS, move)
        call = f"update_paths in generation {generation + 1} with a path of {share} times the limit"
        assert bool(moving) == (share < 1), f"{call}: h is {moving}; see (9)"
        expected = 0.73 * now.path_c + (share < 1) * np.sqrt(0.27 * 1.73 * 2.37) * move
        assert_close(path_c, expected, f"{call}: path_c", "(10) with that h", rtol=1e-9)


def test_update_paths_stalls_by_the_new_path():
    now = replace(begin(np.zeros(3), 1.0), path_sigma=np.array([9.0, 0.0, 0.0]), generation=30)
    move = np.array([-0.69 * 9 / np.sqrt(0.31 * 1.69 * 2.37), 0.3, 0.2])
    path_sigma, _, moving = update_paths(now, CONSTANTS, move)
    call = "update_paths with a move that ends a long path"
    assert bool(moving), f"{call}: the new path_sigma is {path_sigma}, and h {moving}; (9) looks at the new one"


# adapt_step_size


def test_adapt_step_size_of_cases_by_hand():
    for path in (np.array([0.9, -1.4, 0.3]), np.array([2.1, 1.4, -2.5])):
        expected = 0.43 * np.exp(0.31 / 1.42 * (np.sqrt(path @ path) / 1.61 - 1))
        got = adapt_step_size(0.43, path, CONSTANTS)
        assert_close(got, expected, f"adapt_step_size(0.43, {path}, constants)", "equation (12)", rtol=1e-9)
    path = np.array([1.61, 0.0, 0.0])
    assert_close(adapt_step_size(0.43, path, CONSTANTS), 0.43, "adapt_step_size at the expected length", "the same")


# adapt_covariance


@pytest.mark.parametrize("moving", [True, False])
def test_adapt_covariance_of_a_case_by_hand(moving):
    path_c = np.array([0.8, -1.1, 0.4])
    steps = STEPS.copy()
    got = adapt_covariance(state(), CONSTANTS, steps, path_c, moving)
    expected = (1 - 0.083 * (1 if moving else 1 - 0.27 * 1.73) - 0.117 * WEIGHTS.sum()) * COVARIANCE
    expected = expected + 0.083 * np.outer(path_c, path_c)
    for w, y in zip(WEIGHTS, STEPS):
        size = 1 if w >= 0 else 3 / (y @ np.linalg.solve(COVARIANCE, y))
        expected = expected + 0.117 * w * size * np.outer(y, y)
    call = f"adapt_covariance(state, constants, steps, {path_c}, {moving})"
    assert_close(got, expected, call, "equation (13)", rtol=1e-9)
    assert_close(got, got.T, call, "a symmetric matrix", rtol=1e-12)
    assert_close(steps, STEPS, "adapt_covariance changed the steps, which now")


def test_adapt_covariance_stays_positive_definite_for_any_steps():
    rng = np.random.default_rng(3)
    for dim, n_draws in ((1, 4), (2, 6), (6, 9), (12, 11), (3, 60)):
        constants, now = strategy(dim, n_draws), begin(np.zeros(dim), 1.0)
        for scale in (1e-3, 1.0, 1e3):  # long bad steps above all
            steps = rng.standard_normal((n_draws, dim)) * np.geomspace(1 / scale, scale, n_draws)[:, None]
            got = adapt_covariance(now, constants, steps, np.zeros(dim), True)
            least = np.linalg.eigvalsh(got)[0]
            call = f"adapt_covariance with dim {dim}, {n_draws} draws and bad steps {scale:g} times as long"
            assert least > 0, f"{call} has the eigenvalue {least}; (6) and the weights below (13) keep it positive"


def test_adapt_covariance_is_unchanged_on_average_by_random_selection():
    constants, dim = strategy(3, 10), 3
    now = begin(np.zeros(3), 1.0, COVARIANCE)
    # Steps along whitened axes, all of the length that is usual: y y' is C on average over the three.
    total = np.zeros((3, 3))
    for axis in root(COVARIANCE, 0.5).T:
        steps = np.tile(np.sqrt(dim) * axis, (10, 1))
        total += adapt_covariance(now, constants, steps, np.sqrt(dim) * axis, True) / 3
    assert_close(total, COVARIANCE, "the mean of adapt_covariance where y y' is C on average", "(13): C", rtol=1e-9)


# advance


def test_advance_makes_a_generation():
    now = state()
    order = np.array([2, 0, 5, 1, 4, 3])
    points = np.empty_like(STEPS)
    points[order] = now.mean + 0.43 * STEPS  # so that the draw order[0] is the best
    values = np.empty(6)
    values[order] = [-3.7, -1.2, 0.4, 2.2, 5.1, 9.8]
    got = advance(now, CONSTANTS, points, values)
    move = 0.55 * STEPS[0] + 0.3 * STEPS[1] + 0.15 * STEPS[2]
    call = "advance(state, constants, points, values)"
    assert_close(got.mean, now.mean + 0.43 * move, f"{call}.mean", "equation (7)", rtol=1e-9)
    path_sigma, path_c, moving = update_paths(now, CONSTANTS, move)
    assert_close(got.path_sigma, path_sigma, f"{call}.path_sigma", "equation (8)", rtol=1e-9)
    assert_close(got.path_c, path_c, f"{call}.path_c", "equation (10)", rtol=1e-9)
    sigma = adapt_step_size(0.43, path_sigma, CONSTANTS)
    assert_close(got.sigma, sigma, f"{call}.sigma", "(12) with the new path", rtol=1e-9)
    covariance = adapt_covariance(now, CONSTANTS, STEPS, path_c, moving)
    assert_close(got.covariance, covariance, f"{call}.covariance", "(13) with the new path", rtol=1e-9)
    assert got.generation == 5, f"{call}.generation is {got.generation}, 5 is expected"
    again = (got.axes * got.lengths**2) @ got.axes.T
    assert_close(again, covariance, f"{call}: B diag(d^2) B'", "the new covariance", rtol=1e-9)
    same(now, state(), "the state that advance was given, which now", "not changed")


def test_advance_ranks_nan_last_and_sees_only_the_order():
    now = state()
    points = now.mean + 0.43 * STEPS
    expected = advance(now, CONSTANTS, points, np.arange(6.0))
    for values in ([1.0, 1.1, 1.2, 7.0, np.inf, np.nan], [-np.inf, -1e300, -5.0, -4.9, 0.0, np.nan]):
        same(advance(now, CONSTANTS, points, np.array(values)), expected, f"advance with values {values}", "the order")
    same(advance(now, CONSTANTS, points, np.zeros(6)), expected, "advance with equal values", "the first are better")
    first = walk(sphere, 4, 6)
    other = walk(lambda x: np.arctan(sphere(x)) - 100, 4, 6)
    for a, b in zip(first, other):
        same(b, a, "a state with arctan(f) - 100 for f", "the same: only the order counts")


def test_advance_does_not_depend_on_the_coordinates():
    rng = np.random.default_rng(2)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    spectrum = np.array([1.0, 5.0, 30.0, 200.0])
    shift = np.array([0.3, -2.0, 1.1, 0.7])
    states = [begin(np.ones(4), 0.5)]
    turned = [begin(turn @ np.ones(4) + shift, 0.5)]
    constants = strategy(4, 8)
    for _ in range(15):
        points = sample(states[-1], rng.standard_normal((8, 4)))
        values = (points**2 * spectrum).sum(axis=1)
        states.append(advance(states[-1], constants, points, values))
        turned.append(advance(turned[-1], constants, points @ turn.T + shift, values))
    for a, b in zip(states, turned):
        mean = turn @ a.mean + shift
        assert_close(b.mean, mean, "the mean in coordinates turned and shifted", "that turned and shifted", rtol=1e-7)
        expected = turn @ a.covariance @ turn.T
        assert_close(b.covariance, expected, "the covariance there", "that turned", rtol=1e-7, atol=1e-9)
        assert_close(b.sigma, a.sigma, "the step size there", "the same", rtol=1e-7)


# minimize


def test_minimize_learns_the_inverse_hessian():
    turn, _ = np.linalg.qr(np.random.default_rng(8).standard_normal((3, 3)))
    hessian = (turn * np.array([1.0, 60.0, 1e4])) @ turn.T
    result = minimize(
        lambda x: float(x @ hessian @ x), np.ones(3), 0.5, rng=np.random.default_rng(1), tol=1e-6, max_iter=400
    )
    call = "minimize of a quadratic of condition 1e4"
    assert result.success and result.message == CONVERGED, f"{call}: {result.message!r}"
    assert abs(result.x).max() < 1e-4, f"{call}: x is {result.x}, 0 is expected"
    half = root(hessian, 0.5)
    values = np.linalg.eigvalsh(half @ result.state.covariance @ half)
    # Of a multiple of the inverse Hessian all are equal; at the start they are 1e4 apart. The worst of 300 seeds has 7.
    assert values[-1] / values[0] < 60, f"{call}: H^(1/2) C H^(1/2) has the eigenvalues {values}"


def test_minimize_converges_linearly_on_the_sphere():
    result = minimize(sphere, np.ones(5), 0.5, rng=np.random.default_rng(3), record_path=True, tol=0.0, max_iter=110)
    logs = np.log(np.linalg.norm(result.path, axis=1))
    rates = [(logs[a] - logs[a + 50]) / 50 for a in (10, 60)]
    call = "minimize(sphere): the mean decrease of log |m| a generation, early and late,"
    # On average 0.115 with a standard deviation of 0.015 over 300 seeds: six of these, and a little more.
    assert min(rates) > 0.02 and max(rates) < 0.25, f"{call} is {rates}, between 0.02 and 0.25 is expected"


def test_minimize_finds_the_end_of_a_bent_valley():
    problem = rosenbrock(3)
    fun = Counted(problem.fun)
    start = np.array([-0.3, 0.2, 0.4])
    result = minimize(fun, start, 0.3, rng=np.random.default_rng(5), target=1e-6, record_path=True, max_iter=500)
    call = "minimize(rosenbrock(3), target=1e-6)"
    assert result.success and result.message == TARGET, f"{call}: {result.message!r} after {result.nit} generations"
    assert result.nfev == len(fun.values) == 7 * result.nit, f"{call} counted {result.nfev} of {len(fun.values)}"
    assert result.fun == min(fun.values) <= 1e-6, f"{call}.fun is {result.fun}, the best value {min(fun.values)}"
    best = fun.points[int(np.argmin(fun.values))]
    assert_close(result.x, best, f"{call}.x", "the best point that was evaluated")
    assert min(fun.values[:-7]) > 1e-6, f"{call} went on after a value below the target"
    assert len(result.path) == result.nit + 1, f"{call}: {len(result.path)} means in {result.nit} generations"
    assert_close(result.path[0], [-0.3, 0.2, 0.4], f"{call}: the first mean", "the start")
    assert_close(result.path[-1], result.state.mean, f"{call}: the last mean", "the state's")
    assert_close(start, [-0.3, 0.2, 0.4], f"{call} changed start, which now")


def test_minimize_draws_from_the_state():
    fun, start = Counted(sphere), np.array([2.0, -1.0, 0.5])
    result = minimize(fun, start, 0.7, rng=np.random.default_rng(7), n_draws=9, active=False, max_iter=6)
    constants, now, squares = strategy(3, 9, active=False), begin(start, 0.7), 0.0
    for k in range(6):
        points, values = np.array(fun.points[9 * k : 9 * k + 9]), np.array(fun.values[9 * k : 9 * k + 9])
        squares += float((now.whiten((points - now.mean) / now.sigma) ** 2).sum())
        now = advance(now, constants, points, values)
    # Whatever their order, the sum of squares is that of the generator's next 6 times 9 times 3 numbers.
    expected = (np.random.default_rng(7).standard_normal(162) ** 2).sum()
    call = "minimize(n_draws=9): the sum of squares of all draws, made round,"
    assert_close(squares, expected, call, "that of 162 standard normal numbers, (1)", rtol=1e-6)
    same(result.state, now, "minimize(n_draws=9, active=False, max_iter=6).state", "six times advance")


def test_minimize_returns_the_best_of_all_generations():
    for seed in range(8):
        seen = []

        def fun(x, seen=seen):
            seen.append((float(np.sum(x**2 - 10 * np.cos(6 * x))), x.copy()))
            return seen[-1][0]

        result = minimize(fun, [2.3, -1.7, 0.8], 2.0, rng=np.random.default_rng(seed), max_iter=5)
        value, point = min(seen, key=lambda pair: pair[0])
        assert_close(result.fun, value, "minimize(many hills, max_iter=5).fun", "the least of all values seen")
        assert_close(result.x, point, "minimize(many hills, max_iter=5).x", "where the least value was seen")


def test_minimize_sees_further_with_more_draws():
    fun = rastrigin(2).fun
    found = False
    for seed in range(6):
        rng, start = np.random.default_rng(seed), np.array([2.2, -2.8])
        found = found or minimize(fun, start, 2.0, rng=rng, n_draws=50, target=1e-3, max_iter=60).success
    # All of 100 seeds find the best of some hundred minima; if one in ten failed, all six would with 1e-6.
    assert found, "minimize(rastrigin(2), n_draws=50) found the best of its minima in none of 6 runs"


def test_minimize_says_why_it_stopped():
    def run(fun, **options):
        return minimize(
            fun, **{"start": [1.0, -2.0], "sigma": 0.5, "rng": np.random.default_rng(0), "max_iter": 400} | options
        )

    result = run(sphere, max_iter=3)
    assert (result.nit, result.nfev, result.message) == (3, 18, OUT_OF_STEPS), f"max_iter=3: {result}"
    assert not result.success and result.path is None, f"max_iter=3, without record_path: {result}"
    result = run(sphere, target=1e9, max_iter=1)
    assert (result.nit, result.success, result.message) == (1, True, TARGET), f"a target met at once: {result}"
    result = run(lambda x: 3.5)
    assert (result.nit, result.success, result.message) == (1, False, FLAT), f"a constant: {result}"
    result = run(lambda x: np.nan)
    assert (result.nit, result.success, result.message) == (1, False, DIVERGED), f"NaN everywhere: {result}"
    assert result.fun == np.inf, f"NaN everywhere: the value is {result.fun}, infinity is expected"
    assert_close(result.x, [1.0, -2.0], "minimize where all values are NaN: x", "the start")
    result = run(lambda x: float(x[0]))
    assert not result.success and result.message in (DIVERGED, ILL_CONDITIONED), (
        f"a slope without end: {result.message}"
    )
    assert result.state.sigma > 1e6, f"on a slope without end the step size is {result.state.sigma}, it should grow"
    result = run(lambda x: float(x[1] ** 2), tol=0.0)
    assert (result.success, result.message) == (False, ILL_CONDITIONED), f"flat along x[0]: {result.message}"
    result = run(lambda x: sphere(x) if x[0] > 0 else np.nan, tol=1e-4)
    assert result.success and abs(result.x).max() < 0.1, f"NaN in a half plane: {result}"
    spread = result.state.sigma * np.diag(result.state.covariance).max() ** 0.5
    assert result.message == CONVERGED and spread <= 1e-4, f"tol=1e-4: {result.message!r} at a spread of {spread}"


def test_minimize_lets_the_users_errors_through():
    def broken(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        minimize(broken, [1.0, 2.0], 0.5, rng=np.random.default_rng(0))


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("sigma", {"sigma": 0.0}),
        ("sigma", {"sigma": np.inf}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
        ("n_draws", {"n_draws": 3}),
        ("target", {"target": np.nan}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, arguments):
    with pytest.raises(ValueError, match=name):
        minimize(**{"fun": sphere, "start": [1.0], "sigma": 0.5, "rng": np.random.default_rng(0)} | arguments)
