"""Shared tests of optim/adaptive: run on the reference, and on the learner's file.

Everything here is deterministic. The oracle is torch.optim in float64, whose single-tensor code is written in another
order of operations. So updates may differ by some ulps, and by some more where an average of positive and negative
gradients cancels. They are compared to 1e-9 of the largest update that the coordinate ever sees, be that 1 or 1e-140.
"""

from functools import partial

import numpy as np
import pytest

from mlpath.optim._shared import quadratic
from mlpath.optim.adaptive import (
    AdadeltaState,
    AdaGradState,
    AdamState,
    AMSGradState,
    RMSpropState,
    adadelta,
    adagrad,
    adam,
    amsgrad,
    at_rest,
    bias_correction,
    minimize,
    rmsprop,
)
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.testing import assert_close

try:
    import torch
except ModuleNotFoundError:  # the rules need NumPy alone; without the oracle, what is known in closed form is tested
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="compares with torch.optim: pip install 'mlpath[torch]'")
N_STEPS = 60
KINDS = ["ordinary", "sparse", "huge and tiny", "fading"]
WITH_DEFAULTS = KINDS[1:3]  # the settings that rules and torch have by default; others for the rest


@pytest.fixture
def rng():
    return np.random.default_rng(2014)


def gradients(kind):
    """Sixty gradients of a parameter with shape (3, 2, 4)."""
    rng = np.random.default_rng(KINDS.index(kind))
    g = rng.standard_normal((N_STEPS, 3, 2, 4)) + 0.3 * rng.standard_normal((3, 2, 4))
    if kind == "sparse":  # mostly zero; some coordinates from the start, one always, and some steps altogether
        g *= rng.random(g.shape) < 0.2
        g[:10, 0] = g[:, 2, 1, 3] = g[20] = 0
    elif kind == "huge and tiny":
        g *= np.float64(10) ** np.linspace(-150, 150, 24).reshape(3, 2, 4)
    elif kind == "fading":  # the largest first, so that a maximum is not the average
        g *= np.float64(0.8) ** np.arange(N_STEPS)[:, None, None, None]
    return g


def walk(rule, state_type, grads, **settings):
    """The updates and states of a rule along a sequence of gradients."""
    state, updates, states = at_rest(state_type, grads[0]), [], []
    for g in grads:
        state, update = rule(state, g, **settings)
        updates.append(update)
        states.append(state)
    return np.array(updates), states


def torch_updates(optimizer_type, grads, **settings):
    """What torch adds to a parameter, which starts each step from zero so that rounding hides no small update."""
    parameter = torch.zeros(grads[0].shape, dtype=torch.from_numpy(grads).dtype)
    optimizer = optimizer_type([parameter], foreach=False, **settings)
    updates = []
    for g in grads:
        parameter.zero_()
        parameter.grad = torch.from_numpy(g.copy())
        optimizer.step()
        updates.append(parameter.numpy().copy())
    return np.array(updates)


def assert_matches_torch(rule, state_type, optimizer_type, kind, settings, torch_settings):
    grads = gradients(kind)
    expected = torch_updates(optimizer_type, grads, **torch_settings)
    updates, _ = walk(rule, state_type, grads, **settings)
    assert updates.shape == expected.shape, (
        f"{rule.__name__} returned updates of shape {updates.shape[1:]}; expected (3, 2, 4)"
    )
    largest = abs(expected).max(axis=0)
    largest[largest == 0] = 1
    off = abs(updates - expected) / largest
    assert not np.isnan(off).any(), f"{rule.__name__} returned NaN for gradients that are {kind}"
    if off.max() > 1e-9:
        t = int((off.reshape(N_STEPS, -1).max(axis=1) > 1e-9).argmax())
        where = np.unravel_index(off[t].argmax(), off[t].shape)
        seen = ", ".join(f"{g:.4g}" for g in grads[max(0, t - 2) : t + 1, *where])
        raise AssertionError(
            f"{rule.__name__}({settings}) leaves torch.optim.{optimizer_type.__name__} in step {t + 1}, for gradients "
            f"that are {kind}: the coordinate whose last gradients were {seen} is updated by "
            f"{updates[t, *where]:.9g} instead of {expected[t, *where]:.9g}"
        )


def assert_pure(rule, state_type, rng):
    """The rule changes nothing that it was given, gives the same twice, keeps float32, and returns new arrays."""
    for dtype in (np.float64, np.float32):
        state = at_rest(state_type, np.zeros((3, 4), dtype))
        for _ in range(3):
            state, _ = rule(state, rng.standard_normal((3, 4)).astype(dtype))
        gradient = rng.standard_normal((3, 4)).astype(dtype)
        before = {name: np.copy(value) for name, value in vars(state).items()} | {"gradient": gradient.copy()}
        new, update = rule(state, gradient)
        for name, value in before.items():
            now = gradient if name == "gradient" else getattr(state, name)
            assert_close(now, value, f"{rule.__name__} changed {name} of what it was given, which now")
        _, again = rule(state, gradient)
        assert_close(again, update, f"{rule.__name__} called twice with the same state and gradient", "the first call")
        arrays = {name: value for name, value in vars(new).items() if name != "count"} | {"the update": update}
        for name, value in arrays.items():
            assert value.dtype == dtype, f"{rule.__name__} of {np.dtype(dtype)} arrays returned {name} of {value.dtype}"
            for given, array in (vars(state) | {"gradient": gradient}).items():
                assert not np.shares_memory(value, array), f"{rule.__name__} returned {name} in the memory of {given}"
        if "count" in before:
            assert new.count == state.count + 1, f"{rule.__name__} counts {new.count} after {state.count}"


REFUSED = [
    ("step_size", 0.0),
    ("step_size", -1.0),
    ("step_size", np.nan),
    ("step_size", np.inf),
    ("eps", 0.0),
    ("eps", np.nan),
]


def assert_refuses(rule, state_type, name, value):
    with pytest.raises(ValueError, match=name):
        rule(at_rest(state_type, np.zeros(2)), np.ones(2), **{name: value})


@pytest.mark.given
def test_at_rest_is_all_zeros_of_the_same_shape_and_dtype():
    state = at_rest(AMSGradState, np.ones((2, 3), np.float32))
    assert state.count == 0
    for array in (state.first, state.second, state.largest):
        assert array.dtype == np.float32
        assert_close(array, np.zeros((2, 3)), "an array of at_rest(AMSGradState, ones)")
    assert not np.shares_memory(state.first, state.second)


# adagrad


def test_adagrad_of_a_case_by_hand():
    updates, states = walk(adagrad, AdaGradState, np.array([[2.3], [-4.1], [1.7]]), step_size=0.3, eps=0.7)
    call = "adagrad along the gradients 2.3, -4.1, 1.7, step_size=0.3, eps=0.7"
    assert_close([s.total[0] for s in states], [5.29, 22.1, 24.99], f"{call}: total", "the sum in (2)")
    expected = [-0.69 / 3, 1.23 / (np.sqrt(22.1) + 0.7), -0.51 / (np.sqrt(24.99) + 0.7)]
    assert_close(updates[:, 0], expected, f"{call}: update", "equation (2)", rtol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_adagrad_equals_torch_step_for_step(kind):
    if kind in WITH_DEFAULTS:
        ours, theirs = {}, {"lr": 0.01}
    else:
        ours, theirs = {"step_size": 0.05, "eps": 1e-3}, {"lr": 0.05, "eps": 1e-3}
    assert_matches_torch(adagrad, AdaGradState, torch.optim.Adagrad, kind, ours, theirs)


def test_adagrad_does_not_care_for_the_scale_of_a_coordinate(rng):
    grads = rng.standard_normal((10, 5))
    scales = np.array([1e-3, 1.0, 1e3, 1e9, 1e100])
    plain, scaled = walk(adagrad, AdaGradState, grads)[0], walk(adagrad, AdaGradState, grads * scales)[0]
    why = "as eps is 1e-10 beside a root of 1e-3 or so"
    call = "adagrad with coordinates scaled by 1e-3 to 1e100"
    assert_close(scaled, plain, call, "(2): the scale cancels", rtol=1e-5, tolerance=why)


def test_adagrad_slows_down_like_one_over_the_root_of_time():
    updates, _ = walk(adagrad, AdaGradState, np.full((50, 2), 3.0), step_size=1.0)
    expected = -1 / np.sqrt(np.arange(1, 51))
    assert_close(updates[:, 1], expected, "the updates of adagrad for a constant gradient", "(2): -1/√t", rtol=1e-8)


def test_adagrad_is_pure(rng):
    assert_pure(adagrad, AdaGradState, rng)


@pytest.mark.given
@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_adagrad_refuses_nonsense(name, value):
    assert_refuses(adagrad, AdaGradState, name, value)


@pytest.mark.given
def test_adagrad_and_the_others_refuse_a_gradient_that_would_broadcast():
    rules = {
        adagrad: AdaGradState,
        rmsprop: RMSpropState,
        adadelta: AdadeltaState,
        adam: AdamState,
        amsgrad: AMSGradState,
    }
    for rule, state_type in rules.items():
        with pytest.raises(ValueError, match="gradient"):
            rule(at_rest(state_type, np.zeros((3, 1))), np.ones(3))


# rmsprop


def test_rmsprop_of_a_case_by_hand():
    updates, states = walk(rmsprop, RMSpropState, np.array([[4.3], [-2.1]]), step_size=0.3, decay=0.8, eps=0.7)
    call = "rmsprop along the gradients 4.3, -2.1, step_size=0.3, decay=0.8, eps=0.7"
    assert_close([s.mean_square[0] for s in states], [3.698, 3.8404], f"{call}: mean_square", "the average in (3)")
    expected = [-1.29 / (np.sqrt(3.698) + 0.7), 0.63 / (np.sqrt(3.8404) + 0.7)]
    assert_close(updates[:, 0], expected, f"{call}: update", "equation (3)", rtol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_rmsprop_equals_torch_step_for_step(kind):
    if kind in WITH_DEFAULTS:
        ours, theirs = {}, {"lr": 0.01}
    else:
        ours, theirs = {"step_size": 0.05, "decay": 0.8, "eps": 1e-3}, {"lr": 0.05, "alpha": 0.8, "eps": 1e-3}
    assert_matches_torch(rmsprop, RMSpropState, torch.optim.RMSprop, kind, ours, theirs)


def test_rmsprop_without_memory_moves_by_the_sign(rng):
    gradient = rng.standard_normal((4, 3)) * 1e5
    _, update = rmsprop(at_rest(RMSpropState, gradient), gradient, step_size=0.1, decay=0.0)
    assert_close(update, -0.1 * np.sign(gradient), "rmsprop(decay=0)", "(3): g over its own modulus", rtol=1e-9)


def test_rmsprop_is_pure(rng):
    assert_pure(rmsprop, RMSpropState, rng)


@pytest.mark.given
@pytest.mark.parametrize(("name", "value"), [*REFUSED, ("decay", 1.0), ("decay", -0.1), ("decay", np.nan)])
def test_rmsprop_refuses_nonsense(name, value):
    assert_refuses(rmsprop, RMSpropState, name, value)


# adadelta


def test_adadelta_of_a_case_by_hand():
    updates, states = walk(adadelta, AdadeltaState, np.array([[4.3], [-1.7]]), step_size=0.3, decay=0.8, eps=0.7)
    call = "adadelta along the gradients 4.3, -1.7, step_size=0.3, decay=0.8, eps=0.7"
    first = 4.3 * np.sqrt(0.7 / 4.398)
    second = -1.7 * np.sqrt((0.2 * first**2 + 0.7) / 4.2364)
    squares = [0.2 * first**2, 0.16 * first**2 + 0.2 * second**2]
    assert_close([s.mean_square[0] for s in states], [3.698, 3.5364], f"{call}: mean_square", "the average in (3)")
    assert_close(updates[:, 0], [-0.3 * first, -0.3 * second], f"{call}: update", "equation (4)", rtol=1e-12)
    got = [s.mean_square_move[0] for s in states]
    assert_close(
        got, squares, f"{call}: mean_square_move", "w in (4), of moves before step_size scales them", rtol=1e-12
    )


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_adadelta_equals_torch_step_for_step(kind):
    if kind in WITH_DEFAULTS:
        ours, theirs = {}, {}
    else:
        ours, theirs = {"step_size": 0.5, "decay": 0.8, "eps": 1e-3}, {"lr": 0.5, "rho": 0.8, "eps": 1e-3}
    assert_matches_torch(adadelta, AdadeltaState, torch.optim.Adadelta, kind, ours, theirs)


def test_adadelta_begins_with_moves_of_the_root_of_eps():
    _, update = adadelta(at_rest(AdadeltaState, np.zeros(2)), np.array([50.0, -2e4]), decay=0.9, eps=1e-6)
    expected = -np.sqrt(1e-6 / 0.1) * np.array([1.0, -1.0])
    assert_close(update, expected, "the first update of adadelta", "(4): ∓√(eps/(1 - decay))", rtol=1e-6)


def test_adadelta_is_pure(rng):
    assert_pure(adadelta, AdadeltaState, rng)


@pytest.mark.given
@pytest.mark.parametrize(("name", "value"), [*REFUSED, ("decay", 1.0), ("decay", -0.1), ("decay", np.nan)])
def test_adadelta_refuses_nonsense(name, value):
    assert_refuses(adadelta, AdadeltaState, name, value)


# bias_correction


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.999])
def test_bias_correction_makes_the_average_of_a_constant_that_constant(decay, rng):
    constant, average = rng.standard_normal((3, 2)), np.zeros((3, 2))
    for t in range(1, 101):
        average = decay * average + (1 - decay) * constant
        if t in (1, 2, 7, 100):
            call = f"bias_correction of {t} equal values averaged with decay {decay}"
            # 1 - 0.999 has lost three digits.
            assert_close(bias_correction(average, decay, t), constant, call, "equation (6)", rtol=1e-11)


def test_bias_correction_of_a_case_by_hand():
    corrected = bias_correction(np.array([2.3, -0.71]), 0.8, 3)
    assert_close(corrected, np.array([2.3, -0.71]) / 0.488, "bias_correction([2.3, -0.71], 0.8, 3)", "equation (6)")


def test_bias_correction_forgets_the_start_in_the_long_run():
    average = np.array([2.0, -3.0])
    assert_close(bias_correction(average, 0.9, 5000), average, "bias_correction(m, 0.9, 5000)", "(6)", rtol=1e-12)


def test_bias_correction_leaves_its_argument_alone_and_keeps_float32():
    average = np.array([[1.0, 2.0]], np.float32)
    corrected = bias_correction(average, 0.5, 1)
    assert_close(average, [[1.0, 2.0]], "bias_correction changed its argument, which now")
    assert_close(corrected, [[2.0, 4.0]], "bias_correction([[1, 2]], 0.5, 1)", "equation (6)")
    assert corrected.dtype == np.float32, f"bias_correction of float32 returned {corrected.dtype}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "decay", "count"), [("decay", 1.0, 1), ("decay", -0.1, 1), ("decay", np.nan, 1), ("count", 0.9, 0)]
)
def test_bias_correction_refuses_nonsense(name, decay, count):
    with pytest.raises(ValueError, match=name):
        bias_correction(np.ones(2), decay, count)


# adam


def test_adam_of_a_case_by_hand():
    updates, states = walk(adam, AdamState, np.array([[4.3], [-7.1]]), step_size=0.3, decays=(0.6, 0.8), eps=0.7)
    call = "adam along the gradients 4.3, -7.1, step_size=0.3, decays=(0.6, 0.8), eps=0.7"
    assert_close([s.first[0] for s in states], [1.72, -1.808], f"{call}: first", "m in (7), not corrected")
    assert_close([s.second[0] for s in states], [3.698, 13.0404], f"{call}: second", "v in (7), not corrected")
    expected = [-0.3 * 4.3 / 5, 0.3 * (1.808 / 0.64) / (np.sqrt(13.0404 / 0.36) + 0.7)]
    assert_close(updates[:, 0], expected, f"{call}: update", "equation (7)", rtol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_adam_equals_torch_step_for_step(kind):
    if kind in WITH_DEFAULTS:
        ours, theirs = {}, {"lr": 0.001}
    else:
        ours, theirs = (
            {"step_size": 0.05, "decays": (0.7, 0.95), "eps": 1e-3},
            {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3},
        )
    assert_matches_torch(adam, AdamState, torch.optim.Adam, kind, ours, theirs)


def test_adam_first_moves_by_the_step_size_whatever_the_gradient():
    gradient = np.array([[1e-3, -1.0, 1e150], [2.0, -5e10, 3e-2]])
    _, update = adam(at_rest(AdamState, gradient), gradient, step_size=0.2)
    assert_close(update, -0.2 * np.sign(gradient), "the first update of adam", "(7) with t = 1", rtol=2e-5)


def test_adam_keeps_moving_at_the_step_size_along_a_constant_slope():
    updates, _ = walk(adam, AdamState, np.full((N_STEPS, 2), -3.0), step_size=0.2)
    assert_close(
        updates, np.full((N_STEPS, 2), 0.2), "the updates of adam for a constant gradient", "(6) in (7)", rtol=1e-7
    )


def test_adam_moves_a_coordinate_that_wakes_up_by_more_than_the_step_size():
    state = AdamState(10**6, np.zeros(1), np.zeros(1))
    _, update = adam(state, np.array([5.0]), step_size=0.2)
    expected = [-0.2 * 0.1 / np.sqrt(0.001)]
    assert_close(
        update, expected, "adam after a million zero gradients", "(7): (1 - β₁)/√(1 - β₂) step sizes", rtol=1e-6
    )


def test_adam_is_pure(rng):
    assert_pure(adam, AdamState, rng)


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [(name, name, value) for name, value in REFUSED]
    + [("decay", "decays", (1.0, 0.9)), ("decay", "decays", (0.9, -0.1))],
)
def test_adam_and_amsgrad_refuse_nonsense(name, setting, value):
    for rule, state_type in ((adam, AdamState), (amsgrad, AMSGradState)):
        with pytest.raises(ValueError, match=name):
            rule(at_rest(state_type, np.zeros(2)), np.ones(2), **{setting: value})


# amsgrad


def test_amsgrad_of_a_case_by_hand():
    updates, states = walk(amsgrad, AMSGradState, np.array([[4.3], [-1.1]]), step_size=0.3, decays=(0.6, 0.8), eps=0.7)
    call = "amsgrad along the gradients 4.3, -1.1, step_size=0.3, decays=(0.6, 0.8), eps=0.7"
    assert_close([s.second[0] for s in states], [3.698, 3.2004], f"{call}: second", "v in (7), not its maximum")
    assert_close([s.largest[0] for s in states], [3.698, 3.698], f"{call}: largest", "r in (8), not corrected")
    expected = [-0.3 * 4.3 / 5, -0.3 * (0.592 / 0.64) / (np.sqrt(3.698 / 0.36) + 0.7)]
    assert_close(updates[:, 0], expected, f"{call}: update", "equation (8)", rtol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_amsgrad_equals_torch_step_for_step(kind):
    if kind in WITH_DEFAULTS:
        ours, theirs = {}, {"lr": 0.001, "amsgrad": True}
    else:
        ours, theirs = (
            {"step_size": 0.05, "decays": (0.7, 0.95), "eps": 1e-3},
            {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3, "amsgrad": True},
        )
    assert_matches_torch(amsgrad, AMSGradState, torch.optim.Adam, kind, ours, theirs)


def test_amsgrad_takes_the_maximum_of_each_coordinate_for_itself(rng):
    grads = rng.standard_normal((30, 2, 3)) * np.linspace(2, 0.1, 30)[:, None, None]
    _, states = walk(amsgrad, AMSGradState, grads, decays=(0.9, 0.8))
    seconds = np.array([s.second for s in states])
    expected = np.maximum.accumulate(seconds, axis=0)
    assert_close(
        [s.largest for s in states], expected, "largest of amsgrad", "(8): the maximum of v so far", rtol=1e-12
    )
    assert (seconds[-1] < expected[-1]).all(), "amsgrad's average should have come down while its maximum stays"


def test_amsgrad_finds_the_right_end_where_adam_does_not():
    # Reddi, Kale & Kumar (2018): the slope is 4 in every third step and -1 otherwise, 2/3 on average, so -1 is best.
    ends = {}
    for rule, state_type in ((adam, AdamState), (amsgrad, AMSGradState)):
        x, state = np.zeros(1), at_rest(state_type, np.zeros(1))
        for t in range(300):
            slope = np.array([4.0 if t % 3 == 0 else -1.0])
            state, update = rule(state, slope, step_size=0.2 / np.sqrt(t + 1), decays=(0.0, 0.06))
            x = np.clip(x + update, -1, 1)
        ends[rule.__name__] = x[0]
    said = ", ".join(f"{name} ends at {x:.2f}" for name, x in ends.items())
    assert ends["adam"] > 0.9 and ends["amsgrad"] < -0.5, f"{said}; expected 1 and near -1"


def test_amsgrad_is_pure(rng):
    assert_pure(amsgrad, AMSGradState, rng)


# minimize


@pytest.fixture
def bowl(rng):
    return quadratic(np.array([0.5, 1.0, 3.0, 20.0]), rng=rng)


def slide(step_size):
    """Gradient descent as a rule; its state is of no use to it."""
    return lambda state, gradient: (state, -step_size * gradient)


def test_minimize_adds_the_update_of_each_step(bowl):
    path = minimize(
        bowl.fun, bowl.grad, bowl.start, slide(0.04), AdaGradState, tol=0.0, max_iter=30, record_path=True
    ).path
    values, axes = np.linalg.eigh(bowl.hessian)
    shrunk = (1 - 0.04 * values) ** np.arange(31)[:, None] * (axes.T @ (bowl.start - bowl.minimum))
    assert_close(path, bowl.minimum + shrunk @ axes.T, "minimize with gradient descent as the rule", "(1)", atol=1e-12)


@needs_torch
@pytest.mark.parametrize(
    ("rule", "state_type", "optimizer", "lr"),
    [
        (partial(adagrad, step_size=0.5), AdaGradState, "Adagrad", 0.5),
        (partial(adam, step_size=0.05), AdamState, "Adam", 0.05),
    ],
    ids=["adagrad", "adam"],
)
def test_minimize_walks_where_torch_does(bowl, rule, state_type, optimizer, lr):
    parameter = torch.tensor(bowl.start)
    torchs, expected = getattr(torch.optim, optimizer)([parameter], lr=lr), [bowl.start]
    for _ in range(N_STEPS):
        parameter.grad = torch.tensor(bowl.grad(parameter.numpy()))
        torchs.step()
        expected.append(parameter.numpy().copy())
    path = minimize(bowl.fun, bowl.grad, bowl.start, rule, state_type, tol=0.0, max_iter=N_STEPS, record_path=True).path
    assert_close(path, expected, "minimize(...).path", "torch.optim, sixty steps", rtol=1e-8, atol=1e-10)


def test_minimize_reports_what_it_did(bowl):
    calls = []

    def fun(x):
        calls.append(x)
        return bowl.fun(x)

    result = minimize(
        fun, bowl.grad, bowl.start, partial(adagrad, step_size=1.0), AdaGradState, tol=1e-2, record_path=True
    )
    assert result.success is True and result.message == CONVERGED, f"minimize with adagrad ended with {result.message}"
    assert result.path.shape == (result.nit + 1, 4), f"a path of shape {result.path.shape} for nit={result.nit}"
    assert_close(result.path[0], bowl.start, "path[0]", "the start")
    assert_close(result.path[-1], result.x, "path[-1]", "x")
    assert_close(result.fun, bowl.fun(result.x), "fun", "the objective at x", rtol=1e-12)
    assert result.nfev == len(calls), f"nfev is {result.nfev}, but fun was called {len(calls)} times"
    largest = [abs(bowl.grad(x)).max() for x in result.path]
    assert largest[-1] <= 1e-2 < min(largest[:-1]), "it should stop at the first gradient below tol, and not before"


def test_minimize_says_when_it_fails(bowl):
    short = minimize(bowl.fun, bowl.grad, bowl.start, slide(0.01), AdaGradState, max_iter=7)
    got = f"minimize(max_iter=7): success={short.success}, nit={short.nit}, '{short.message}'"
    assert (short.success, short.nit, short.message) == (False, 7, OUT_OF_STEPS), f"{got}; expected OUT_OF_STEPS"
    assert short.path is None, "a path was kept without record_path=True"
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = minimize(bowl.fun, bowl.grad, bowl.start, slide(1.0), AdaGradState)
    got = f"minimize with a rule that diverges: success={beyond.success}, '{beyond.message}'"
    assert (beyond.success, beyond.message) == (False, DIVERGED), f"{got}; expected DIVERGED"


def test_minimize_that_starts_at_the_minimum_makes_no_step(bowl):
    result = minimize(bowl.fun, bowl.grad, bowl.minimum, adam, AdamState)
    assert result.success and result.nit == 0, f"at the minimum: {result.message}, nit={result.nit}"


def test_minimize_leaves_the_start_alone_and_keeps_float32(bowl):
    start = bowl.start.astype(np.float32)
    before = start.copy()
    result = minimize(bowl.fun, bowl.grad, start, adam, AdamState, max_iter=5, tol=0.0)
    assert_close(start, before, "minimize changed start, which now")
    assert result.x.dtype == np.float32, f"minimize of a float32 start returned {result.x.dtype}"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"), [("start", {"start": [np.nan]}), ("tol", {"tol": -1.0}), ("max_iter", {"max_iter": 0})]
)
def test_minimize_refuses_nonsense(name, arguments):
    good = {"start": [1.0, 2.0], "rule": adam, "state_type": AdamState}
    with pytest.raises(ValueError, match=name):
        minimize(lambda x: x @ x, lambda x: 2 * x, **(good | arguments))


def test_minimize_refuses_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: x @ x, lambda x: 2 * x[:, None], [1.0, 2.0], adam, AdamState)
