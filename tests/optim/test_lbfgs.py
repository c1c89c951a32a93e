"""Shared tests of optim/lbfgs: run on the reference, and on the learner's file.

Everything here is deterministic. Products of a few dozen vectors lose some hundred roundings: 1e-11 is generous.
"""

import tracemalloc

import numpy as np
import pytest
from scipy import optimize

from mlpath.optim._shared import beale, breast_cancer, himmelblau, quadratic, rosenbrock
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS, STALLED
from mlpath.optim.lbfgs import Memory, as_matrix, first_factor, minimize, remember, two_loop
from mlpath.testing import assert_close

try:
    import torch
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="compares with torch.optim: pip install 'mlpath[torch]'")
ROUNDING = {"rtol": 1e-11, "atol": 1e-13, "tolerance": "nothing but rounding separates them"}

# one pair, by hand: y's = 9.95, y'y = 12.83
MOVE, CHANGE = np.array([2.5, -0.8, 1.0]), np.array([3.3, -0.5, 1.3])
VECTOR = np.array([1.7, 0.6, -2.3])
ONE = Memory((MOVE,), (CHANGE,))


def pairs(n, dim=7, seed=0):
    """Pairs of a bowl, so that all show curvature."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((dim, dim))
    moves = rng.standard_normal((n, dim))
    return moves, moves @ (a @ a.T + 0.3 * np.eye(dim))


def full(n, dim=7, seed=0):
    moves, changes = pairs(n, dim, seed)
    return Memory(tuple(moves), tuple(changes))


def product(memory):
    """The matrix of equation (2), by products of matrices as they stand in (1)."""
    y, s = memory.changes[-1], memory.moves[-1]
    matrix = (y @ s) / (y @ y) * np.eye(len(s))
    for s, y in zip(memory.moves, memory.changes, strict=True):
        v = np.eye(len(s)) - np.outer(y, s) / (y @ s)
        matrix = v.T @ matrix @ v + np.outer(s, s) / (y @ s)
    return matrix


# remember


def test_remember_adds_the_newest_at_the_end():
    moves, changes = pairs(3)
    memory = Memory()
    for number, (move, change) in enumerate(zip(moves, changes, strict=True)):
        before, memory = memory, remember(memory, move, change)
        assert len(before.moves) == number, "remember changed the memory that it was given"
        for what, kept, given in (("moves", memory.moves, moves), ("changes", memory.changes, changes)):
            call = f"the {what} after remembering {number + 1} pairs"
            assert_close(np.array(kept), given[: number + 1], call, "the newest is the last", rtol=0, atol=0)


def test_remember_forgets_the_oldest():
    moves, changes = pairs(14)
    for size, least in ((None, 10), (3, 3), (1, 1)):
        memory, options = Memory(), {} if size is None else {"size": size}
        for move, change in zip(moves, changes, strict=True):
            memory = remember(memory, move, change, **options)
        for what, kept, given in (("moves", memory.moves, moves), ("changes", memory.changes, changes)):
            call = f"the {what} after remembering 14 pairs with size={10 if size is None else size}"
            assert len(kept) == least, f"{call} are {len(kept)}, expected {least}"
            assert_close(np.array(kept), given[-least:], call, "the newest ones, in order", rtol=0, atol=0)


def test_remember_leaves_what_teaches_nothing():
    bad = [-CHANGE, np.zeros(3), np.full(3, np.nan), np.array([0.8, 2.5, 0.0])]
    for change in bad:
        memory = remember(ONE, MOVE, change)
        assert len(memory.moves) == len(memory.changes) == 1, f"remember kept the pair of {MOVE} and {change}"
    memory = remember(ONE, 1e-200 * MOVE, 1e-200 * CHANGE)
    assert len(memory.moves) == 1, "remember kept a pair whose product, 1e-399, is 0 in floating point"
    assert len(remember(ONE, 1e-100 * MOVE, 1e-100 * CHANGE).moves) == 2, "a short pair teaches as much as a long one"


# first_factor


def test_first_factor_by_hand():
    assert_close(
        first_factor(ONE),
        9.95 / 12.83,
        "first_factor of move (2.5, -0.8, 1), change (3.3, -0.5, 1.3)",
        "(5)",
        **ROUNDING,
    )
    assert first_factor(Memory()) == 1, f"first_factor of an empty memory is {first_factor(Memory())}, expected 1"


def test_first_factor_is_of_the_newest_pair():
    moves, changes = pairs(4)
    expected = (changes[-1] @ moves[-1]) / (changes[-1] @ changes[-1])
    assert_close(first_factor(full(4)), expected, "first_factor of four pairs", "(5) with the last of them", **ROUNDING)


# two_loop


def test_two_loop_by_hand():
    # alpha = s'g / y's = 1.47 / 9.95
    alpha = 1.47 / 9.95
    r = 9.95 / 12.83 * (VECTOR - alpha * CHANGE)
    expected = r + (alpha - CHANGE @ r / 9.95) * MOVE
    assert_close(two_loop(ONE, VECTOR), expected, "two_loop of one pair and (1.7, 0.6, -2.3)", "(3), (4)", **ROUNDING)


def test_two_loop_without_pairs_returns_the_vector():
    found = two_loop(Memory(), VECTOR)
    assert_close(found, VECTOR, "two_loop of an empty memory", "the vector itself", **ROUNDING)
    assert not np.shares_memory(found, VECTOR), "two_loop returned its argument itself, not a new array"


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_two_loop_multiplies_with_the_matrix(n):
    memory = full(n)
    for seed in range(3):
        vector = np.random.default_rng(seed).standard_normal(7)
        found, expected = two_loop(memory, vector), product(memory) @ vector
        call = f"two_loop of {n} pairs, made of random numbers"
        assert_close(
            found, expected, call, "the matrix of (2) times the vector", rtol=1e-8, atol=1e-8 * abs(expected).max()
        )


def test_two_loop_takes_the_newest_change_to_its_move():
    memory = full(4)
    found = two_loop(memory, memory.changes[-1])
    assert_close(found, memory.moves[-1], "two_loop of the newest change", "its move", rtol=1e-8, atol=1e-8)


def test_two_loop_keeps_the_precision_and_its_arguments():
    moves, changes = (tuple(v.astype(np.float32) for v in given) for given in pairs(3))
    memory, vector = Memory(moves, changes), np.arange(1, 8, dtype=np.float32)
    before = [v.copy() for v in (*moves, *changes, vector)]
    found = two_loop(memory, vector)
    assert found.dtype == np.float32, f"two_loop of float32 returned {found.dtype}"
    for now, then in zip((*moves, *changes, vector), before, strict=True):
        assert_close(now, then, "two_loop changed a vector that it was given, which now", rtol=0, atol=0)


def test_two_loop_needs_memory_for_a_few_vectors_only():
    dim = 20_000
    memory = Memory((np.ones(dim),) * 8, (2 * np.ones(dim),) * 8)
    vector = np.ones(dim)
    tracemalloc.start()
    two_loop(memory, vector)
    peak = tracemalloc.get_traced_memory()[1] / (8 * dim)
    tracemalloc.stop()
    assert peak < 40, f"two_loop of vectors of 20,000 needed {peak:.0f} more vectors at its peak: is there a matrix?"


# as_matrix


def test_as_matrix_by_hand():
    v = np.eye(3) - np.outer(CHANGE, MOVE) / 9.95
    expected = 9.95 / 12.83 * v.T @ v + np.outer(MOVE, MOVE) / 9.95
    assert_close(as_matrix(ONE, 3), expected, "as_matrix of one pair", "(1) from (5)", **ROUNDING)
    assert_close(as_matrix(Memory(), 3), np.eye(3), "as_matrix of an empty memory", "the identity", **ROUNDING)


@pytest.mark.parametrize("n", [2, 5])
def test_as_matrix_is_the_product_of_all_pairs(n):
    memory = full(n)
    found, expected = as_matrix(memory, 7), product(memory)
    assert_close(found, expected, f"as_matrix of {n} pairs", "(2)", rtol=1e-8, atol=1e-8 * abs(expected).max())


# minimize

PROBLEMS = {
    "Rosenbrock": rosenbrock(),
    "Rosenbrock in 12 dimensions": rosenbrock(12),
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
    # the gradient is at most 1e-8 and the smallest curvature 0.01: the distance is below 1e-5
    minimum = result.x if name == "Rosenbrock in 12 dimensions" and result.x[0] < 0 else problem.minimum
    assert_close(result.x, minimum, f"minimize of {name}", "its minimum", atol=1e-5)
    assert_close(result.fun, problem.fun(result.x), f"fun of minimize of {name}", "the objective at x", rtol=1e-12)


def test_minimize_goes_as_scipy_does():
    problem = breast_cancer(ridge=1e-1)
    result = minimize(problem.fun, problem.grad, problem.start, tol=1e-8)
    options = {"gtol": 1e-8, "ftol": 0, "maxcor": 10}
    peer = optimize.minimize(problem.fun, problem.start, jac=problem.grad, method="L-BFGS-B", options=options)
    assert_close(result.fun, peer.fun, "minimize on breast cancer", "scipy's L-BFGS-B", rtol=1e-12)
    assert result.nfev <= 1.5 * peer.nfev + 5, f"minimize took {result.nfev} evaluations, scipy's L-BFGS-B {peer.nfev}"


def torch_path(problem, n_steps, size, step_size):
    """The points of torch.optim.LBFGS without a line search, which later skips pairs whose product is below 1e-10."""
    x = torch.tensor(problem.start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [x], lr=step_size, max_iter=1, history_size=size, tolerance_grad=0.0, tolerance_change=0.0
    )

    def closure():
        x.grad = torch.from_numpy(problem.grad(x.detach().numpy()))
        return torch.tensor(problem.fun(x.detach().numpy()))

    path = [x.detach().numpy().copy()]
    for _ in range(n_steps):
        optimizer.step(closure)
        path.append(x.detach().numpy().copy())
    return np.array(path)


@needs_torch
@pytest.mark.parametrize(("size", "step_size"), [(10, 1.0), (3, 0.7), (1, 0.9)])
def test_minimize_with_fixed_steps_goes_as_torch_does(size, step_size):
    problem = breast_cancer(ridge=1e-1)
    options = {"size": size, "rule": "fixed", "step_size": step_size, "tol": 0, "max_iter": 10, "record_path": True}
    found = minimize(problem.fun, problem.grad, problem.start, **options).path
    call = f"the path of minimize(rule='fixed', size={size}, step_size={step_size})"
    expected = torch_path(problem, 10, size, step_size)
    assert_close(found, expected, call, "torch.optim.LBFGS, step for step", rtol=1e-9, atol=1e-12)


def test_minimize_first_steps_by_hand():
    # along -g = -(8, 4) from (4, 1): the first trial is 1/12 and accepted, as the slope there is 62 % of that at the start
    fun, grad = (lambda x: x[0] ** 2 + 2 * x[1] ** 2), (lambda x: np.array([2 * x[0], 4 * x[1]]))
    path = minimize(fun, grad, [4.0, 1.0], max_iter=2, record_path=True).path
    assert_close(path[1], [10 / 3, 2 / 3], "the first step of minimize from (4, 1)", "a twelfth of (8, 4)", **ROUNDING)
    memory = Memory((np.array([-2 / 3, -1 / 3]),), (np.array([-4 / 3, -4 / 3]),))
    expected = path[1] - product(memory) @ grad(path[1])
    assert_close(path[2], expected, "the second step of minimize", "-H g with one pair, trial 1", **ROUNDING)


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


def test_minimize_remembers_as_many_pairs_as_told():
    problem = rosenbrock()
    path = minimize(
        problem.fun, problem.grad, problem.start, size=2, rule="fixed", step_size=0.3, max_iter=6, record_path=True
    ).path
    for k in range(1, 6):
        gradients = [problem.grad(x) for x in path]
        memory = Memory()
        for i in range(k):
            memory = remember(memory, path[i + 1] - path[i], gradients[i + 1] - gradients[i], size=2)
        expected = path[k] - 0.3 * two_loop(memory, gradients[k])
        assert_close(
            path[k + 1], expected, f"step {k + 1} of minimize(size=2)", "the two newest pairs", rtol=1e-7, atol=1e-9
        )


def test_minimize_needs_hardly_more_evaluations_than_steps():
    problem = rosenbrock(12)
    evaluated = []
    result = minimize(lambda x: evaluated.append(1) or problem.fun(x), problem.grad, problem.start, tol=1e-6)
    assert result.nfev == len(evaluated), f"nfev is {result.nfev}, and the objective was called {len(evaluated)} times"
    assert result.nfev <= 1.4 * result.nit, f"{result.nfev} evaluations for {result.nit} steps: few trials were 1"


def test_minimize_gains_by_its_memory():
    problem = quadratic(np.geomspace(0.1, 10, 30), rng=np.random.default_rng(1))
    steps = {
        size: minimize(problem.fun, problem.grad, problem.start, size=size, tol=1e-8, max_iter=5000).nit
        for size in (1, 20)
    }
    assert steps[20] < 0.8 * steps[1], f"steps by memory: {steps}; twenty pairs should know more than one"


def test_minimize_needs_memory_for_its_pairs_only():
    dim = 20_000
    weights = np.linspace(1, 30, dim)

    def fun(x):
        return float(weights @ (x * x)) / 2

    tracemalloc.start()
    result = minimize(fun, lambda x: weights * x, np.ones(dim), size=5, tol=1e-6)
    peak = tracemalloc.get_traced_memory()[1] / (8 * dim)
    tracemalloc.stop()
    assert result.success and result.nit > 10, f"minimize in 20,000 dimensions: {result.message}, {result.nit} steps"
    assert peak < 60, f"minimize needed {peak:.0f} vectors at its peak, where 5 pairs are 10"


def test_minimize_from_the_minimum_makes_no_step():
    problem = rosenbrock()
    result = minimize(problem.fun, problem.grad, problem.minimum, record_path=True)
    assert (result.nit, result.nfev, result.success) == (0, 1, True), f"nit, nfev, success: {result}"
    assert_close(result.path, [problem.minimum], "the path from the minimum", "the start alone")


def test_minimize_counts_and_records():
    problem = beale()
    result = minimize(problem.fun, problem.grad, problem.start, tol=1e-8, record_path=True)
    path = result.path
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
def test_remember_refuses_a_memory_of_no_pairs():
    with pytest.raises(ValueError, match="size"):
        remember(Memory(), MOVE, CHANGE, size=0)


@pytest.mark.given
@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"tol": -1.0}, "tol"),
        ({"max_iter": 0}, "max_iter"),
        ({"step_size": 0.0}, "step_size"),
        ({"start": [np.nan]}, "start"),
        ({"start": []}, "start"),
        ({"size": 0}, "size"),
        ({"rule": "armijo"}, "rule"),
    ],
)
def test_minimize_refuses_what_it_cannot_use(settings, argument):
    with pytest.raises(ValueError, match=argument):
        minimize(lambda x: x @ x, lambda x: 2 * x, **({"start": [1.0, 2.0]} | settings))


def test_minimize_refuses_a_gradient_that_does_not_fit():
    with pytest.raises(ValueError, match="grad must return shape"):
        minimize(lambda x: x @ x, lambda x: 2 * x[:1], [1.0, 2.0])
