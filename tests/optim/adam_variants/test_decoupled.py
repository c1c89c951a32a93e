"""Shared tests of optim/adam_variants/decoupled: run on the reference, and on the learner's file.

Everything here is deterministic. The oracles are torch.optim, and the papers' formulas in loops over single numbers. Both
compute in another order of operations, so updates may differ by some ulps, and by some more where an average cancels.
They are compared to 1e-9 of the largest update that the coordinate ever sees, and to 1e-4 of it in float32.
"""

import math

import numpy as np
import pytest

from mlpath.optim.adam_variants.decoupled import (
    LookaheadState,
    NAdamState,
    adabelief,
    adamw,
    lookahead,
    nadam,
    nadam_at_rest,
    radam,
    rectification,
    scheduled_momentum,
    sma_lengths,
)
from mlpath.optim.adaptive import AdamState, adam, at_rest
from mlpath.testing import assert_close

try:
    import torch
except ModuleNotFoundError:  # without the oracle, what is known by hand, in closed form and by loops is tested
    torch = None
else:
    torch.set_num_threads(1)

needs_torch = pytest.mark.skipif(torch is None, reason="compares with torch.optim: pip install 'mlpath[torch]'")
N_STEPS = 50
SHAPE = (3, 2, 4)
KINDS = ["ordinary", "float32", "sparse", "huge and tiny"]
WITH_DEFAULTS = KINDS[2:]  # the settings that rules and torch have by default; others for the rest
RULES = (adamw, nadam, radam, adabelief)


@pytest.fixture
def rng():
    return np.random.default_rng(2019)


def rest(rule, like):
    return nadam_at_rest(like) if rule is nadam else at_rest(AdamState, like)


def sequences(kind):
    """Fifty gradients, and fifty parameters at which they are met; these are 0 where tiny updates are to be seen."""
    rng = np.random.default_rng(KINDS.index(kind))
    gradients = rng.standard_normal((N_STEPS, *SHAPE)) + 0.3 * rng.standard_normal(SHAPE)
    points = rng.standard_normal((N_STEPS, *SHAPE))
    if kind == "sparse":  # mostly zero; some coordinates from the start, one always, and some steps altogether
        gradients *= rng.random(gradients.shape) < 0.2
        gradients[:10, 0] = gradients[:, 2, 1, 3] = gradients[20] = 0
    elif kind == "huge and tiny":
        gradients *= np.float64(10) ** np.linspace(-150, 150, 24).reshape(SHAPE)
        points *= 0
    elif kind == "float32":
        gradients, points = gradients.astype(np.float32), points.astype(np.float32)
    return gradients, points


def walk(rule, gradients, points, **settings):
    """The updates and states of a rule along sequences of gradients and parameters."""
    state, updates, states = rest(rule, gradients[0]), [], []
    for gradient, x in zip(gradients, points, strict=True):
        state, update = rule(state, gradient, x, **settings)
        updates.append(update)
        states.append(state)
    return np.array(updates), states


def torch_updates(optimizer_type, gradients, points, **settings):
    """What torch adds to a parameter, which is put where it should be before each step."""
    torch.set_default_dtype(torch.float64)  # or NAdam keeps its product in float32
    try:
        parameter = torch.zeros(SHAPE, dtype=torch.from_numpy(gradients).dtype)
        optimizer = optimizer_type([parameter], foreach=False, **settings)
        updates = []
        for gradient, x in zip(gradients, points, strict=True):
            parameter.copy_(torch.from_numpy(x))
            parameter.grad = torch.from_numpy(gradient.copy())
            optimizer.step()
            updates.append(parameter.numpy() - x)
    finally:
        torch.set_default_dtype(torch.float32)
    return np.array(updates)


def assert_same_updates(rule, updates, expected, gradients, kind, settings, whose):
    assert updates.shape == expected.shape, (
        f"{rule.__name__} returned updates of shape {updates.shape[1:]}; expected {expected.shape[1:]}"
    )
    largest = abs(expected).max(axis=0)
    largest[largest == 0] = 1
    off = abs(updates - expected) / largest
    assert not np.isnan(off).any(), f"{rule.__name__} returned NaN for gradients that are {kind}"
    tolerance = 1e-9 if gradients.dtype == np.float64 else 1e-4
    if off.max() > tolerance:
        t = int((off.reshape(len(off), -1).max(axis=1) > tolerance).argmax())
        where = np.unravel_index(off[t].argmax(), off[t].shape)
        seen = ", ".join(f"{g[where]:.4g}" for g in gradients[max(0, t - 2) : t + 1])
        raise AssertionError(
            f"{rule.__name__}({settings}) leaves {whose} in step {t + 1}, for gradients that are {kind}: the "
            f"coordinate whose last gradients were {seen} is updated by {updates[t][where]:.9g} instead of "
            f"{expected[t][where]:.9g}"
        )


def assert_matches_torch(rule, optimizer_type, kind, settings, torch_settings):
    gradients, points = sequences(kind)
    expected = torch_updates(optimizer_type, gradients, points, **torch_settings)
    updates, _ = walk(rule, gradients, points, **settings)
    assert_same_updates(rule, updates, expected, gradients, kind, settings, f"torch.optim.{optimizer_type.__name__}")


def assert_pure(rule, rng):
    """The rule changes nothing that it was given, gives the same twice, keeps float32, and returns new arrays."""
    for dtype in (np.float64, np.float32):
        state = rest(rule, np.zeros((3, 4), dtype))
        for _ in range(8):  # so many that RAdam divides
            state, _ = rule(state, *rng.standard_normal((2, 3, 4)).astype(dtype))
        gradient, x = rng.standard_normal((2, 3, 4)).astype(dtype)
        given = vars(state) | {"gradient": gradient, "x": x}
        before = {name: np.copy(value) for name, value in given.items()}
        new, update = rule(state, gradient, x, weight_decay=0.1)
        for name, value in before.items():
            assert_close(given[name], value, f"{rule.__name__} changed {name} of what it was given, which now")
        _, again = rule(state, gradient, x, weight_decay=0.1)
        assert_close(again, update, f"{rule.__name__} called twice with the same arguments", "the first call")
        for name, value in (vars(new) | {"the update": update}).items():
            if isinstance(value, np.ndarray):
                said = f"{rule.__name__} of {np.dtype(dtype)} arrays returned {name} of {value.dtype}"
                assert value.dtype == dtype, said
                for other, array in given.items():
                    shared = isinstance(array, np.ndarray) and np.shares_memory(value, array)
                    assert not shared, f"{rule.__name__} returned {name} in the memory of {other}"
        assert new.count == state.count + 1, f"{rule.__name__} counts {new.count} after {state.count}"


@pytest.mark.given
def test_adamw_and_the_other_rules_refuse_nonsense():
    refused = [("step_size", "step_size", value) for value in (0.0, -1.0, np.nan, np.inf)]
    refused += [("eps", "eps", value) for value in (0.0, np.nan)]
    refused += [("weight_decay", "weight_decay", value) for value in (-0.1, np.nan, np.inf)]
    refused += [("decay", "decays", (1.0, 0.9)), ("decay", "decays", (0.9, -0.1))]
    for rule in RULES:
        for name, setting, value in refused:
            with pytest.raises(ValueError, match=name):
                rule(rest(rule, np.zeros(2)), np.ones(2), np.ones(2), **{setting: value})


@pytest.mark.given
def test_adamw_and_the_other_rules_refuse_arrays_that_would_broadcast():
    for rule in RULES:
        for name, arrays in (("gradient", (np.ones(3), np.ones((3, 1)))), ("x", (np.ones((3, 1)), np.ones(1)))):
            with pytest.raises(ValueError, match=name):
                rule(rest(rule, np.zeros((3, 1))), *arrays)


# adamw


def test_adamw_of_a_case_by_hand():
    state = AdamState(1, np.array([1.72]), np.array([3.698]))
    settings = {"step_size": 0.3, "decays": (0.6, 0.8), "eps": 0.7, "weight_decay": 0.37}
    new, update = adamw(state, np.array([-7.1]), np.array([5.3]), **settings)
    call = "adamw(AdamState(1, [1.72], [3.698]), [-7.1], [5.3], step_size=0.3, decays=(0.6, 0.8), eps=0.7, weight_decay=0.37)"
    assert_close([new.first[0], new.second[0]], [-1.808, 13.0404], f"{call}: state", "Adam, without the decay")
    expected = -0.3 * (-1.808 / 0.64 / (np.sqrt(13.0404 / 0.36) + 0.7) + 0.37 * 5.3)
    assert_close(update, [expected], f"{call}: update", "equation (1)", rtol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_adamw_equals_torch_step_for_step(kind):
    ours, theirs = {}, {}
    if kind not in WITH_DEFAULTS:
        ours = {"step_size": 0.05, "decays": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.3}
        theirs = {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.3}
    assert_matches_torch(adamw, torch.optim.AdamW, kind, ours, theirs)


def test_adamw_shrinks_all_weights_alike_where_l2_spares_those_with_large_gradients():
    scales, ends = np.array([1.0, 30.0, 1000.0]), {}
    for name in ("decoupled", "L2", "none"):
        x, state = np.full(3, 10.0), at_rest(AdamState, np.zeros(3))
        for t in range(100):
            gradient = (-1) ** t * scales
            if name == "decoupled":
                state, update = adamw(state, gradient, x, step_size=0.05, weight_decay=0.2)
            else:
                state, update = adam(state, gradient + 0.2 * x * (name == "L2"), step_size=0.05)
            x = x + update
        ends[name] = x
    coupled = abs(ends["L2"] - ends["none"])
    assert coupled[0] > 100 * coupled[2], f"the decay of Adam with L2 should depend on the scale, it is {coupled}"
    call = "100 steps of adamw(step_size=0.05, weight_decay=0.2) from 10 with gradients of ±1, ±30 and ±1000"
    assert_close(ends["decoupled"], np.full(3, ends["decoupled"][0]), call, "(1): the scale cancels", rtol=1e-6)
    why = "the moves are of 0.05 at most and alternate"
    assert_close(ends["decoupled"], np.full(3, 10 * 0.99**100), call, "1 - a λ a step", atol=0.1, tolerance=why)


def test_adamw_without_gradients_shrinks_the_weights_geometrically():
    x, state = np.array([3.7, -0.21]), at_rest(AdamState, np.zeros(2))
    for _ in range(30):
        state, update = adamw(state, np.zeros(2), x, step_size=0.2, weight_decay=0.4)
        x = x + update
    expected = np.array([3.7, -0.21]) * 0.92**30
    assert_close(x, expected, "30 steps of adamw with a zero gradient", "(1): 1 - a λ each", rtol=1e-12)


def test_adamw_is_pure(rng):
    assert_pure(adamw, rng)


# scheduled_momentum


def test_scheduled_momentum_of_cases_by_hand():
    for count, decay, momentum_decay, expected in (
        (1, 0.83, 0.25, 0.83 * (1 - 0.5 * math.exp(0.25 * math.log(0.96)))),
        (7, 0.83, 0.25, 0.83 * (1 - 0.5 * math.exp(1.75 * math.log(0.96)))),
        (3, 0.9, 0.0, 0.45),
        (4, 0.0, 0.1, 0.0),
    ):
        call = f"scheduled_momentum({count}, {decay}, {momentum_decay})"
        assert_close(scheduled_momentum(count, decay, momentum_decay), expected, call, "equation (2)", rtol=1e-12)


def test_scheduled_momentum_grows_from_half_the_decay_to_all_of_it():
    shares = [scheduled_momentum(t, 0.9) for t in (1, 10, 1000, 10_000, 10**6)]
    assert 0.45 < shares[0] < 0.4502, f"scheduled_momentum(1, 0.9) returned {shares[0]}; expected just above 0.45"
    assert shares == sorted(shares), f"scheduled_momentum fell: {shares}; (2) grows"
    assert_close(shares[-1], 0.9, "scheduled_momentum(1_000_000, 0.9)", "(2) in the long run")


# nadam


def test_nadam_of_a_case_by_hand():
    state = NAdamState(1, 0.37, np.array([1.72]), np.array([3.698]))
    settings = {"step_size": 0.3, "decays": (0.6, 0.8), "momentum_decay": 5.0, "eps": 0.7, "weight_decay": 0.37}
    new, update = nadam(state, np.array([-7.1]), np.array([5.3]), **settings)
    call = "nadam(NAdamState(1, 0.37, [1.72], [3.698]), [-7.1], [5.3], step_size=0.3, decays=(0.6, 0.8), momentum_decay=5, eps=0.7, weight_decay=0.37)"
    share, following = (0.6 * (1 - 0.5 * 0.96**power) for power in (10, 15))
    assert_close([new.first[0], new.second[0]], [-1.808, 13.0404], f"{call}: first and second", "as Adam")
    assert_close(new.product, 0.37 * share, f"{call}: product", "π_{t-1} μ_t", rtol=1e-12)
    ahead = following * -1.808 / (1 - 0.37 * share * following) + (1 - share) * -7.1 / (1 - 0.37 * share)
    expected = -0.3 * (ahead / (np.sqrt(13.0404 / 0.36) + 0.7) + 0.37 * 5.3)
    assert_close(update, [expected], f"{call}: update", "equation (3)", rtol=1e-12)
    assert new.count == 2, f"{call}: count {new.count}; expected 2"


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_nadam_equals_torch_step_for_step(kind):
    ours, theirs = {}, {}
    if kind not in WITH_DEFAULTS:
        ours = {"step_size": 0.05, "decays": (0.7, 0.95), "momentum_decay": 0.5, "eps": 1e-3, "weight_decay": 0.3}
        theirs = {"lr": 0.05, "betas": (0.7, 0.95), "momentum_decay": 0.5, "eps": 1e-3, "weight_decay": 0.3}
    theirs |= {"decoupled_weight_decay": True}
    assert_matches_torch(nadam, torch.optim.NAdam, kind, ours, theirs)


@needs_torch
def test_nadam_of_a_gradient_plus_a_multiple_of_x_is_torch_with_l2():
    gradients, points = sequences("ordinary")
    expected = torch_updates(torch.optim.NAdam, gradients, points, weight_decay=0.3)
    updates, _ = walk(nadam, gradients + 0.3 * points, points)
    whose = "torch.optim.NAdam(weight_decay=0.3)"
    assert_same_updates(nadam, updates, expected, gradients, "ordinary", "of gradient + 0.3 x", whose)


def test_nadam_without_momentum_divides_the_gradient_alone(rng):
    gradient = rng.standard_normal((4, 3)) * 1e5
    _, update = nadam(nadam_at_rest(gradient), gradient, gradient, step_size=0.1, decays=(0.0, 0.9))
    assert_close(update, -0.1 * np.sign(gradient), "the first nadam with decays (0, 0.9)", "(3)", rtol=1e-9)


def test_nadam_moves_at_the_step_size_along_a_constant_slope():
    updates, _ = walk(nadam, np.full((200, 1), -3.0), np.zeros((200, 1)), step_size=0.2, momentum_decay=5.0)
    # 0.9^200 is 7e-10 and 0.96^1000 is 2e-18: by now the share is 0.9, and all weights add up to 1.
    call = "update 200 of nadam for a constant gradient"
    assert_close(updates[-1], [0.2], call, "(3): β₁ m̂ + (1 - β₁) g over |g|", rtol=1e-6)


def test_nadam_is_pure(rng):
    assert_pure(nadam, rng)


@pytest.mark.given
def test_nadam_refuses_a_schedule_that_is_none():
    for value in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="momentum_decay"):
            nadam(nadam_at_rest(np.zeros(2)), np.ones(2), np.ones(2), momentum_decay=value)


# sma_lengths


def test_sma_lengths_of_a_case_by_hand():
    call = "sma_lengths(3, 0.8)"
    # The ages 0, 1, 2 weigh 1, 0.8, 0.64: their mean is 2.08 / 2.44.
    assert_close(sma_lengths(3, 0.8), (1 + 2 * 2.08 / 2.44, 9.0), call, "equation (4)", rtol=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.37, 0.9, 0.999])
def test_sma_lengths_are_those_of_a_plain_mean_of_the_same_age(decay):
    for count in (1, 2, 6, 40, 1000):
        ages = np.arange(count)
        age = (ages * decay**ages).sum() / (decay**ages).sum()
        # (4) subtracts two numbers of the size of the longest length, which is below 2,000.
        expected = (1 + 2 * age, 2 / (1 - decay) - 1)
        call = f"sma_lengths({count}, {decay})"
        assert_close(sma_lengths(count, decay), expected, call, "equation (4)", rtol=1e-9, atol=1e-9)


@pytest.mark.given
def test_sma_lengths_refuse_nonsense():
    for name, count, decay in (("count", 0, 0.9), ("decay", 1, 1.0), ("decay", 1, -0.1), ("decay", 1, np.nan)):
        with pytest.raises(ValueError, match=name):
            sma_lengths(count, decay)


# rectification


def test_rectification_of_cases_by_hand():
    for length, longest, squared in ((7.3, 21.7, 3.3 * 5.3 * 21.7 / (17.7 * 19.7 * 7.3)), (5.01, 5.9, None)):
        if squared is None:
            squared = 1.01 * 3.01 * 5.9 / (1.9 * 3.9 * 5.01)
        call = f"rectification({length}, {longest})"
        assert_close(rectification(length, longest), math.sqrt(squared), call, "equation (5)", rtol=1e-12)


def test_rectification_is_nothing_up_to_five_and_one_in_the_long_run():
    for length in (0.5, 1.0, 3.0, 4.5, 5.0):
        got = rectification(length, 1999.0)
        assert got == 0, f"rectification({length}, 1999.0) returned {got}; expected 0, as up to 5 there is none"
    assert rectification(2.2, 2.2) == 0, "rectification(2.2, 2.2) should be 0, as up to 5 there is none"
    assert_close(rectification(1999.0, 1999.0), 1.0, "rectification(1999.0, 1999.0)", "(5) in the long run")


def test_rectification_makes_the_variance_what_it_is_in_the_long_run():
    # The variance of 1/√v to first order, from which (5) is made.
    for length in (5.5, 9.0, 30.0, 300.0):
        variances = [n / (2 * (n - 2) * (n - 4)) for n in (length, 900.0)]
        got = rectification(length, 900.0) ** 2 * variances[0]
        assert_close(got, variances[1], f"rectification({length}, 900)² times the variance at {length}", "(5)")


@pytest.mark.given
def test_rectification_refuses_nonsense():
    for length in (0.0, -1.0, 9.1, np.nan):
        with pytest.raises(ValueError, match="length"):
            rectification(length, 9.0)


# radam


def test_radam_of_a_short_average_does_not_divide():
    state = AdamState(1, np.array([1.72]), np.array([3.698]))
    settings = {"step_size": 0.3, "decays": (0.6, 0.8), "eps": 0.7, "weight_decay": 0.37}
    new, update = radam(state, np.array([-7.1]), np.array([5.3]), **settings)
    call = "radam(AdamState(1, [1.72], [3.698]), [-7.1], [5.3], step_size=0.3, decays=(0.6, 0.8), eps=0.7, weight_decay=0.37)"
    assert_close([new.first[0], new.second[0]], [-1.808, 13.0404], f"{call}: first and second", "as Adam")
    assert_close(update, [-0.3 * (-1.808 / 0.64 + 0.37 * 5.3)], f"{call}: update", "(6), a length below 5", rtol=1e-12)
    assert new.count == 2, f"{call}: count {new.count}; expected 2"


def test_radam_of_a_long_average_is_rectified():
    state = AdamState(9, np.array([1.72]), np.array([3.698]))
    settings = {"step_size": 0.3, "decays": (0.6, 0.8), "eps": 0.7, "weight_decay": 0.37}
    _, update = radam(state, np.array([-7.1]), np.array([5.3]), **settings)
    call = "radam(AdamState(9, [1.72], [3.698]), [-7.1], [5.3], step_size=0.3, decays=(0.6, 0.8), eps=0.7, weight_decay=0.37)"
    length = 9 - 20 * 0.8**10 / (1 - 0.8**10)
    factor = math.sqrt((length - 4) * (length - 2) * 9 / (5 * 7 * length))
    adaptive = factor * -1.808 / (1 - 0.6**10) * math.sqrt(1 - 0.8**10) / (math.sqrt(13.0404) + 0.7)
    assert_close(update, [-0.3 * (adaptive + 0.37 * 5.3)], f"{call}: update", "(6), a length above 5", rtol=1e-12)


@needs_torch
@pytest.mark.parametrize("kind", KINDS)
def test_radam_equals_torch_step_for_step(kind):
    ours, theirs = {}, {}
    if kind not in WITH_DEFAULTS:
        ours = {"step_size": 0.05, "decays": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.3}
        theirs = {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.3}
    assert_matches_torch(radam, torch.optim.RAdam, kind, ours, theirs | {"decoupled_weight_decay": True})


def test_radam_begins_with_five_steps_of_momentum_and_a_short_one():
    gradients, points = np.full((6, 1), -300.0), np.zeros((6, 1))
    updates, _ = walk(radam, gradients, points, step_size=0.01)
    length = sum_of_ages(6, 0.999)
    factor = math.sqrt((length - 4) * (length - 2) * 1999 / (1995 * 1997 * length))
    expected = [3.0] * 5 + [0.01 * factor]
    call = "six updates of radam for the constant gradient -300"
    assert_close(updates[:, 0], expected, call, "(6): five without a divisor, and the first with (5)", rtol=1e-7)


def sum_of_ages(count, decay):
    """The length of (4), by its sum."""
    weights = decay ** np.arange(count)
    return 1 + 2 * float(np.arange(count) @ weights / weights.sum())


def test_radam_with_a_short_memory_never_divides(rng):
    gradients = rng.standard_normal((40, 5)) * 1e3
    updates, states = walk(radam, gradients, np.zeros((40, 5)), step_size=0.1, decays=(0.8, 0.6))
    expected = [-0.1 * state.first / (1 - 0.8**state.count) for state in states]
    assert_close(
        updates, expected, "40 updates of radam with decays (0.8, 0.6)", "(6): no length is above 4", rtol=1e-9
    )


def test_radam_is_pure(rng):
    assert_pure(radam, rng)


# adabelief


def test_adabelief_of_a_case_by_hand():
    state = AdamState(1, np.array([1.72]), np.array([3.698]))
    settings = {"step_size": 0.3, "decays": (0.6, 0.8), "eps": 0.7, "weight_decay": 0.37}
    new, update = adabelief(state, np.array([-7.1]), np.array([5.3]), **settings)
    call = "adabelief(AdamState(1, [1.72], [3.698]), [-7.1], [5.3], step_size=0.3, decays=(0.6, 0.8), eps=0.7, weight_decay=0.37)"
    second = 0.8 * 3.698 + 0.2 * (-7.1 + 1.808) ** 2 + 0.7
    assert_close([new.first[0], new.second[0]], [-1.808, second], f"{call}: first and second", "m and s in (7)")
    expected = -0.3 * (-1.808 / 0.64 / (math.sqrt(second / 0.36) + 0.7) + 0.37 * 5.3)
    assert_close(update, [expected], f"{call}: update", "equation (7)", rtol=1e-12)
    assert new.count == 2, f"{call}: count {new.count}; expected 2"


@pytest.mark.parametrize("kind", KINDS)
def test_adabelief_equals_the_paper_number_by_number(kind):
    gradients, points = sequences(kind)
    if kind in WITH_DEFAULTS:
        settings, a, b1, b2, eps, decay = {}, 1e-3, 0.9, 0.999, 1e-16, 0.0
    else:
        a, b1, b2, eps, decay = 0.05, 0.7, 0.95, 1e-3, 0.3
        settings = {"step_size": a, "decays": (b1, b2), "eps": eps, "weight_decay": decay}
    expected = np.empty(gradients.shape)
    for where in np.ndindex(SHAPE):
        m = s = 0.0
        for t in range(N_STEPS):
            g, x = float(gradients[t][where]), float(points[t][where])
            m += (1 - b1) * (g - m)
            s = b2 * s + (1 - b2) * (g - m) ** 2 + eps
            moved = x * (1 - a * decay) - a * m / (1 - b1 ** (t + 1)) / (math.sqrt(s / (1 - b2 ** (t + 1))) + eps)
            expected[t][where] = moved - x
    updates, _ = walk(adabelief, gradients, points, **settings)
    assert_same_updates(adabelief, updates, expected, gradients, kind, settings, "the paper's loop")


def test_adabelief_hurries_where_the_gradients_agree():
    # Along a constant slope m̂ = g, and the deviation in step i is β₁^i g, so that s is a geometric series.
    updates, _ = walk(adabelief, np.full((N_STEPS, 1), 3.0), np.zeros((N_STEPS, 1)), step_size=0.2)
    expected = []
    for t in range(1, N_STEPS + 1):
        s = sum(0.001 * 0.999 ** (t - i) * (0.9**i * 3.0) ** 2 for i in range(1, t + 1))
        expected.append(-0.2 * 3.0 / math.sqrt(s / (1 - 0.999**t)))
    call = "the updates of adabelief for a constant gradient"
    # What is left out here is the guard of 1e-13, beside an s/(1 - 0.999^t) of 0.6.
    assert_close(updates[:, 0], expected, call, "(7), as a geometric series", rtol=1e-9)
    assert abs(updates[-1, 0]) > 0.6, f"after {N_STEPS} steps Adam moves by 0.2 and AdaBelief by {updates[-1, 0]}"


def test_adabelief_guards_by_eps_over_one_minus_the_decay_at_any_time():
    updates, states = walk(adabelief, np.zeros((N_STEPS, 1)), np.zeros((N_STEPS, 1)), eps=0.03, decays=(0.9, 0.8))
    corrected = [float(state.second[0]) / (1 - 0.8**state.count) for state in states]
    call = "second of adabelief without gradients, bias corrected, eps=0.03, decays=(0.9, 0.8)"
    assert_close(corrected, np.full(N_STEPS, 0.15), call, "(7): eps / (1 - β₂)", rtol=1e-12)
    assert_close(updates, np.zeros((N_STEPS, 1)), "adabelief without gradients")


def test_adabelief_is_pure(rng):
    assert_pure(adabelief, rng)


# lookahead


def descent(state, gradient, x):
    """Gradient descent as a rule, which counts its calls."""
    return (state or 0) + 1, -0.3 * gradient


def test_lookahead_of_a_case_by_hand():
    rule = lookahead(descent, every=3, pull=0.7)
    state, x, seen = LookaheadState(0, np.array([5.3]), None), np.array([5.3]), []
    for gradient in (2.3, -1.1, 4.7, 0.9):
        state, update = rule(state, np.array([gradient]), x)
        x = x + update
        seen.append([x[0], state.slow[0]])
    # 5.3 - 0.69 = 4.61; + 0.33 = 4.94; - 1.41 = 3.53, which pulls 5.3 to 5.3 - 0.7 · 1.77 = 4.061; - 0.27 = 3.791.
    expected = [[4.61, 5.3], [4.94, 5.3], [4.061, 4.061], [3.791, 4.061]]
    call = "x and slow after each step of lookahead(descent, every=3, pull=0.7) from 5.3 along 2.3, -1.1, 4.7, 0.9"
    assert_close(seen, expected, call, "equation (8)", rtol=1e-12)
    assert (state.count, state.inner) == (4, 4), f"count and inner are {state.count}, {state.inner}; expected 4 and 4"


def test_lookahead_on_a_quadratic_multiplies_the_error_as_predicted():
    curvature = np.array([0.5, 2.0, 6.1])  # so that descent multiplies errors by 0.85, 0.4 and -0.83
    rule = lookahead(descent, every=4, pull=0.6)
    x = start = np.array([2.7, -1.3, 0.8])
    state = LookaheadState(0, x, None)
    for _ in range(20):
        state, update = rule(state, curvature * x, x)
        x = x + update
    expected = start * (1 - 0.6 + 0.6 * (1 - 0.3 * curvature) ** 4) ** 5
    assert_close(x, expected, "20 steps of lookahead(descent, every=4, pull=0.6)", "(1 - α + α c^k)^5", rtol=1e-9)


def test_lookahead_that_pulls_all_the_way_is_the_rule_itself(rng):
    gradients = rng.standard_normal((12, 2, 3))
    for every, pull in ((1, 1.0), (5, 1.0)):
        rule, x = lookahead(adamw, every=every, pull=pull), np.ones((2, 3))
        state, plain, inner = LookaheadState(0, x, at_rest(AdamState, x)), x, at_rest(AdamState, x)
        for gradient in gradients:
            state, update = rule(state, gradient, x)
            inner, step = adamw(inner, gradient, plain)
            x, plain = x + update, plain + step
        call = f"12 steps of lookahead(adamw, every={every}, pull=1.0)"
        assert_close(x, plain, call, "adamw alone, as (8) then goes all the way", rtol=1e-12)
        assert_close(state.inner, inner, f"{call}: inner", "adamw's own state, which goes on", rtol=1e-12)


def test_lookahead_equals_the_paper_in_two_loops(rng):
    gradients, slow = rng.standard_normal((5, 3, 4)), np.full(4, 2.0)
    inner, points = at_rest(AdamState, slow), []
    for of_a_round in gradients:
        fast = slow
        for gradient in of_a_round:
            inner, step = adam(inner, gradient, step_size=0.1)
            fast = fast + step
            points.append(fast)
        slow = slow + 0.2 * (fast - slow)
        points[-1] = slow
    rule = lookahead(lambda state, gradient, x: adam(state, gradient, step_size=0.1), every=3, pull=0.2)
    x = np.full(4, 2.0)
    state, walked = LookaheadState(0, x, at_rest(AdamState, x)), []
    for gradient in gradients.reshape(15, 4):
        state, update = rule(state, gradient, x)
        x = x + update
        walked.append(x)
    assert_close(walked, points, "15 points of lookahead(adam, every=3, pull=0.2)", "the paper's loops", rtol=1e-9)


def test_lookahead_changes_nothing_that_it_is_given_and_keeps_float32(rng):
    rule = lookahead(lambda state, gradient, x: (state, -0.25 * gradient), every=1)
    for dtype in (np.float64, np.float32):
        slow, gradient, x = rng.standard_normal((3, 4)).astype(dtype)
        before = [slow.copy(), gradient.copy(), x.copy()]
        state = LookaheadState(6, slow, None)
        new, update = rule(state, gradient, x)
        for name, now, then in zip(("state.slow", "gradient", "x"), (slow, gradient, x), before, strict=True):
            assert_close(now, then, f"lookahead changed {name}, which now")
        assert new.slow.dtype == update.dtype == dtype, f"lookahead made {new.slow.dtype} of {np.dtype(dtype)}"
        assert state.count == 6, f"lookahead changed the count of the state that it was given to {state.count}"


@pytest.mark.given
def test_lookahead_refuses_nonsense():
    for name, value in (("every", 0), ("pull", 0.0), ("pull", 1.1), ("pull", np.nan)):
        with pytest.raises(ValueError, match=name):
            lookahead(adamw, **{name: value})
