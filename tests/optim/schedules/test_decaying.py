"""Shared tests of optim/schedules/decaying: run on the reference, and on the learner's file.

Everything here is deterministic. A rate is a few operations: 1e-12 is thousands of roundings. The oracle is
torch.optim.lr_scheduler where torch is installed, which multiplies its last rate again and again: 1e-10 after 100 steps
is plenty.
"""

from functools import partial

import numpy as np
import pytest

from mlpath.optim.schedules.decaying import (
    cosine_decay,
    exponential_decay,
    inverse_square_root,
    polynomial_decay,
    step_decay,
    warm_up,
)
from mlpath.testing import assert_close

try:
    import torch
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="compares with torch.optim: pip install 'mlpath[torch]'")
ROUNDING = {"rtol": 1e-12, "atol": 0.0, "tolerance": "nothing but rounding separates them"}
STEPS = np.arange(100)

SCHEDULES = {  # each with settings that fit it
    "step_decay": partial(step_decay, rate=0.37, factor=0.6, every=7),
    "exponential_decay": partial(exponential_decay, rate=0.37, factor=0.9),
    "polynomial_decay": partial(polynomial_decay, rate=0.37, n_steps=23, power=1.7, end=0.02),
    "cosine_decay": partial(cosine_decay, rate=0.37, n_steps=23, end=0.02),
    "warm_up": lambda step: warm_up(partial(cosine_decay, rate=0.37, n_steps=23), n_steps=9, start=0.1)(step),
    "inverse_square_root": partial(inverse_square_root, rate=0.37, n_warm_up=13),
}


def torch_rates(make, rate, n_steps=100):
    """The rates that a scheduler of torch gives to each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler, rates = make(optimizer), []
    for _ in range(n_steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(rates)


def check_shapes(name):
    """Assert that a schedule takes one step as well as an array of any shape, and leaves that alone."""
    schedule = SCHEDULES[name]
    steps = np.array([[0, 5, 12], [40, 7, 22]])
    before, rates = steps.copy(), schedule(steps)
    assert np.shape(rates) == (2, 3), f"{name} of steps of shape (2, 3) returned the shape {np.shape(rates)}"
    assert_close(steps, before, f"{name} changed the steps that it was given, which now")
    for index, step in np.ndenumerate(steps):
        for one in (int(step), step):
            rate = schedule(one)
            assert np.ndim(rate) == 0, f"{name} of the one step {step} returned an array of shape {np.shape(rate)}"
            assert_close(rate, rates[index], f"{name} of the one step {step}", "as in an array of steps", **ROUNDING)
    small = schedule(np.array([3, 9], dtype=np.int32))
    assert_close(small, schedule(np.array([3, 9])), f"{name} of steps in int32", "as in int64", **ROUNDING)


# step_decay


def test_step_decay_by_hand():
    found = step_decay(np.arange(12), 0.37, factor=0.6, every=5)
    call = "step_decay(steps 0 to 11, 0.37, factor=0.6, every=5)"
    assert_close(found, [0.37] * 5 + [0.222] * 5 + [0.1332] * 2, call, "equation (1)", **ROUNDING)


@needs_torch
def test_step_decay_agrees_with_torch():
    expected = torch_rates(lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=7, gamma=0.6), 0.37)
    found = step_decay(STEPS, 0.37, factor=0.6, every=7)
    assert_close(found, expected, "step_decay(steps 0 to 99, 0.37, factor=0.6, every=7)", "torch's StepLR", rtol=1e-10)


def test_step_decay_of_any_shape():
    check_shapes("step_decay")


# exponential_decay


def test_exponential_decay_by_hand():
    found = exponential_decay(np.arange(4), 0.37, factor=0.6)
    call = "exponential_decay(steps 0 to 3, 0.37, factor=0.6)"
    assert_close(found, [0.37, 0.222, 0.1332, 0.07992], call, "equation (2)", **ROUNDING)


@needs_torch
def test_exponential_decay_agrees_with_torch():
    expected = torch_rates(lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.93), 0.37)
    found = exponential_decay(STEPS, 0.37, factor=0.93)
    assert_close(found, expected, "exponential_decay(steps 0 to 99, 0.37, factor=0.93)", "torch", rtol=1e-10)


def test_exponential_decay_halves_when_the_note_says():
    factor = 0.5 ** (1 / 6)  # ln 2 / ln(1 / factor) is 6
    found = exponential_decay(np.array([0, 6, 12, 60]), 0.37, factor=factor)
    call = "exponential_decay(steps 0, 6, 12, 60) with a factor that halves every 6 steps"
    assert_close(found, 0.37 * 0.5 ** np.array([0, 1, 2, 10]), call, "half of the rate 6 steps before", **ROUNDING)


def test_exponential_decay_vanishes_in_the_end_and_stays_if_the_factor_is_1():
    found = exponential_decay(10**9, 0.37, factor=0.9)
    assert found == 0, f"exponential_decay at step 1,000,000,000 with factor 0.9 returned {found}, expected 0"
    assert_close(exponential_decay(10**9, 0.37, factor=1.0), 0.37, "with factor 1", "the first rate", **ROUNDING)


def test_exponential_decay_of_any_shape():
    check_shapes("exponential_decay")


# polynomial_decay


def test_polynomial_decay_by_hand():
    found = polynomial_decay(np.array([0, 1, 2, 4, 5]), 0.82, n_steps=5, power=2.0, end=0.12)
    call = "polynomial_decay(steps 0, 1, 2, 4, 5, 0.82, n_steps=5, power=2, end=0.12)"
    expected = [0.82, 0.12 + 0.7 * 0.64, 0.12 + 0.7 * 0.36, 0.12 + 0.7 * 0.04, 0.12]
    assert_close(found, expected, call, "equation (3)", **ROUNDING)


def test_polynomial_decay_is_a_straight_line_to_zero_unless_told_otherwise():
    found = polynomial_decay(np.arange(5), 0.37, n_steps=4)
    expected = [0.37, 0.2775, 0.185, 0.0925, 0.0]
    assert_close(found, expected, "polynomial_decay(steps 0 to 4, 0.37, n_steps=4)", "(3) with p = 1", **ROUNDING)


@needs_torch
@pytest.mark.parametrize("power", [0.5, 1.0, 2.3])
def test_polynomial_decay_agrees_with_torch(power):
    make = partial(torch.optim.lr_scheduler.PolynomialLR, total_iters=60, power=power)
    found = polynomial_decay(STEPS, 0.37, n_steps=60, power=power)
    call = f"polynomial_decay(steps 0 to 99, 0.37, n_steps=60, power={power})"
    assert_close(found, torch_rates(make, 0.37), call, "torch's PolynomialLR", rtol=1e-10, atol=1e-12)


def test_polynomial_decay_stays_at_its_end():
    found = polynomial_decay(np.array([23, 24, 50, 10**12]), 0.37, n_steps=23, power=0.5, end=0.02)
    assert_close(found, [0.02] * 4, "polynomial_decay from its last step on", "the last rate, by (3)", **ROUNDING)


def test_polynomial_decay_of_any_shape():
    check_shapes("polynomial_decay")


# cosine_decay


def test_cosine_decay_by_hand():
    found = cosine_decay(np.arange(7), 0.82, n_steps=6, end=0.12)
    root = np.sqrt(3) / 2
    expected = 0.12 + 0.35 * (1 + np.array([1, root, 0.5, 0, -0.5, -root, -1]))
    call = "cosine_decay(steps 0 to 6, 0.82, n_steps=6, end=0.12)"
    assert_close(found, expected, call, "equation (4)", rtol=1e-12, atol=1e-15)


def test_cosine_decay_ends_at_zero_unless_told_otherwise():
    found = cosine_decay(np.array([0, 2, 4]), 0.37, n_steps=4)
    assert_close(
        found, [0.37, 0.185, 0.0], "cosine_decay(steps 0, 2, 4, 0.37, n_steps=4)", "(4)", rtol=1e-12, atol=1e-15
    )


@needs_torch
def test_cosine_decay_agrees_with_torch():
    make = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=60, eta_min=0.02)
    found = cosine_decay(np.arange(61), 0.37, n_steps=60, end=0.02)
    call = "cosine_decay(steps 0 to 60, 0.37, n_steps=60, end=0.02)"
    assert_close(found, torch_rates(make, 0.37, 61), call, "torch's CosineAnnealingLR", rtol=1e-10)


def test_cosine_decay_stays_at_its_end():
    found = cosine_decay(np.array([23, 24, 46, 10**12]), 0.37, n_steps=23, end=0.02)
    assert_close(found, [0.02] * 4, "cosine_decay from its last step on", "the last rate, by (4)", **ROUNDING)


def test_cosine_decay_of_any_shape():
    check_shapes("cosine_decay")


# warm_up


def test_warm_up_by_hand():
    found = warm_up(lambda step: 0.37 * 0.6 ** np.asarray(step), n_steps=4, start=0.2)(np.arange(7))
    expected = [0.074, 0.148, 0.222, 0.296, 0.37, 0.222, 0.1332]
    assert_close(found, expected, "warm_up(0.37 * 0.6^step, n_steps=4, start=0.2)(steps 0 to 6)", "(5)", **ROUNDING)


def test_warm_up_starts_from_nothing_unless_told_otherwise():
    found = warm_up(lambda step: 0.8 - 0.1 * np.asarray(step), n_steps=5)(np.arange(8))
    expected = [0.0, 0.16, 0.32, 0.48, 0.64, 0.8, 0.7, 0.6]
    assert_close(found, expected, "warm_up(0.8 - 0.1 step, n_steps=5)(steps 0 to 7)", "(5) with s = 0", **ROUNDING)


def test_warm_up_never_asks_for_a_negative_step():
    asked = []

    def schedule(step):
        asked.append(np.min(step))
        return 0.37 * np.ones(np.shape(step))

    warm_up(schedule, n_steps=9)(np.arange(30))
    warm_up(schedule, n_steps=9)(2)
    assert min(asked) >= 0, f"warm_up asked the schedule that it wraps for step {min(asked)}"


@needs_torch
def test_warm_up_agrees_with_torch():
    def make(optimizer):
        rise = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=12)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=88, eta_min=0.02)
        return torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[12])

    def cosine(step):
        return 0.02 + 0.35 * (1 + np.cos(np.pi * np.asarray(step) / 88)) / 2

    found = warm_up(cosine, n_steps=12, start=0.1)(STEPS)
    call = "warm_up(cosine, n_steps=12, start=0.1)(steps 0 to 99)"
    assert_close(found, torch_rates(make, 0.37), call, "torch's LinearLR, then CosineAnnealingLR", rtol=1e-10)


def test_warm_up_can_wrap_a_warm_up():
    inner = warm_up(lambda step: 0.6 * 0.5 ** np.asarray(step), n_steps=2, start=0.5)
    found = warm_up(inner, n_steps=2)(np.arange(7))
    expected = [0.0, 0.15, 0.3, 0.45, 0.6, 0.3, 0.15]
    assert_close(found, expected, "a warm-up of two steps before another of two", "(5), twice", **ROUNDING)


def test_warm_up_of_any_shape():
    check_shapes("warm_up")


def test_warm_up_refuses_steps_that_are_none():
    with pytest.raises(ValueError, match="step"):
        warm_up(lambda step: 0.37 * np.ones(np.shape(step)), n_steps=3)(-1)


# inverse_square_root


def test_inverse_square_root_by_hand():
    found = inverse_square_root(np.array([0, 1, 2, 3, 11, 27]), 0.37, n_warm_up=3)
    expected = [0.37 / 3, 0.74 / 3, 0.37, 0.37 * np.sqrt(0.75), 0.185, 0.37 * np.sqrt(3 / 28)]
    call = "inverse_square_root(steps 0, 1, 2, 3, 11, 27, 0.37, n_warm_up=3)"
    assert_close(found, expected, call, "equation (6)", **ROUNDING)


def test_inverse_square_root_is_the_transformers():
    # Vaswani et al., equation (3): d^-1/2 min(n^-1/2, n w^-3/2) for step n = 1, 2, ..., here d = 512, w = 4000
    n = np.array([1, 17, 3999, 4000, 4001, 100_000])
    expected = 512**-0.5 * np.minimum(n**-0.5, n * 4000**-1.5)
    found = inverse_square_root(n - 1, 512**-0.5 * 4000**-0.5, n_warm_up=4000)
    assert_close(found, expected, "inverse_square_root with a peak of (512 * 4000)^-1/2", "[3]", **ROUNDING)


def test_inverse_square_root_of_any_shape():
    check_shapes("inverse_square_root")


# the checks, which are given


@pytest.mark.given
@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "warm_up"])
@pytest.mark.parametrize("step", [-1, np.array([3, -2]), 1.5, np.array([1.0, 2.0]), "3"])
def test_step_decay_and_the_others_refuse_what_is_no_step(name, step):
    with pytest.raises(ValueError, match="step"):
        SCHEDULES[name](step)


@pytest.mark.given
@pytest.mark.parametrize(
    ("function", "settings", "argument"),
    [
        (step_decay, {"rate": 0.1, "factor": 0.5, "every": 0}, "every"),
        (step_decay, {"rate": 0.1, "factor": 0.5, "every": 1.5}, "every"),
        (step_decay, {"rate": 0.1, "factor": 1.5, "every": 2}, "factor"),
        (step_decay, {"rate": 0.0, "factor": 0.5, "every": 2}, "rate"),
        (exponential_decay, {"rate": 0.1, "factor": 0.0}, "factor"),
        (exponential_decay, {"rate": np.nan, "factor": 0.5}, "rate"),
        (polynomial_decay, {"rate": 0.1, "n_steps": 0}, "n_steps"),
        (polynomial_decay, {"rate": 0.1, "n_steps": 5, "power": 0.0}, "power"),
        (polynomial_decay, {"rate": 0.1, "n_steps": 5, "end": 0.2}, "end"),
        (polynomial_decay, {"rate": np.inf, "n_steps": 5}, "rate"),
        (cosine_decay, {"rate": 0.1, "n_steps": 5, "end": -0.1}, "end"),
        (cosine_decay, {"rate": 0.1, "n_steps": 0.5}, "n_steps"),
        (cosine_decay, {"rate": -0.1, "n_steps": 5}, "rate"),
        (inverse_square_root, {"rate": 0.1, "n_warm_up": 0}, "n_warm_up"),
        (inverse_square_root, {"rate": -1.0, "n_warm_up": 3}, "rate"),
    ],
)
def test_inverse_square_root_and_the_others_refuse_what_they_cannot_use(function, settings, argument):
    with pytest.raises(ValueError, match=f"^{argument} must"):
        function(3, **settings)


@pytest.mark.given
@pytest.mark.parametrize(
    ("settings", "argument"), [({"n_steps": 0}, "n_steps"), ({"n_steps": 3, "start": 1.1}, "start")]
)
def test_warm_up_refuses_what_it_cannot_use(settings, argument):
    with pytest.raises(ValueError, match=argument):
        warm_up(SCHEDULES["cosine_decay"], **settings)
