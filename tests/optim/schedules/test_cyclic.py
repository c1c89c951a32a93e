"""Shared tests of optim/schedules/cyclic: run on the reference, and on the learner's file.

Everything here is deterministic. A rate is a few operations: 1e-12 is thousands of roundings. The oracle is
torch.optim.lr_scheduler where torch is installed; its schedulers compute their rates from the step, most of them in one
formula, so that 1e-10 is plenty.
"""

from functools import partial

import numpy as np
import pytest

from mlpath.optim.schedules.cyclic import (
    Plateau,
    cosine_between,
    cycle,
    cyclical,
    one_cycle,
    one_cycle_momentum,
    reduce_on_plateau,
    warm_restarts,
)
from mlpath.testing import assert_close

try:
    import torch
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="compares with torch.optim: pip install 'mlpath[torch]'")
ROUNDING = {"rtol": 1e-12, "atol": 1e-15, "tolerance": "nothing but rounding separates them"}

SCHEDULES = {  # each with settings that fit it
    "cyclical": partial(cyclical, low=0.07, high=0.37, n_up=4, n_down=7, mode="triangular2"),
    "one_cycle": partial(one_cycle, peak=0.37, n_up=7, n_steps=31),
    "one_cycle_momentum": partial(one_cycle_momentum, n_up=7, n_steps=31),
    "cycle's place": lambda step: cycle(step, first=4, growth=3)[0],
    "cycle's length": lambda step: cycle(step, first=4, growth=3)[1],
    "cycle's place, growth 1": lambda step: cycle(step, first=4)[0],
    "cycle's length, growth 1": lambda step: cycle(step, first=4)[1],
    "warm_restarts": partial(warm_restarts, rate=0.37, first=5, growth=2, end=0.02),
}


def torch_rates(make, n_steps, rate=0.37, key="lr", **options):
    """What a scheduler of torch gives to each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate, **options)
    scheduler, rates = make(optimizer), []
    for _ in range(n_steps):
        rates.append(optimizer.param_groups[0][key])
        optimizer.step()
        scheduler.step()
    return np.array(rates)


def check_shapes(name):
    """Assert that a schedule takes one step as well as an array of any shape, and leaves that alone."""
    schedule = SCHEDULES[name]
    steps = np.array([[0, 5, 12], [40, 7, 22]])
    before, rates = steps.copy(), schedule(steps)
    assert np.shape(rates) == (2, 3), f"{name} of steps of shape (2, 3) has the shape {np.shape(rates)}"
    assert_close(steps, before, f"{name} changed the steps that it was given, which now")
    for index, step in np.ndenumerate(steps):
        for one in (int(step), step):
            rate = schedule(one)
            assert np.ndim(rate) == 0, f"{name} of the one step {step} is an array of shape {np.shape(rate)}"
            assert_close(rate, rates[index], f"{name} of the one step {step}", "as in an array of steps", **ROUNDING)
    assert np.shape(schedule(steps[:0])) == (0, 3), f"{name} of no steps has the shape {np.shape(schedule(steps[:0]))}"
    small = schedule(np.array([3, 9], dtype=np.int32))
    assert_close(small, schedule(np.array([3, 9])), f"{name} of steps in int32", "as in int64", **ROUNDING)


# cosine_between


def test_cosine_between_by_hand():
    found = cosine_between(0.83, 0.21, np.array([0.0, 0.25, 1 / 3, 0.5, 1.0]))
    expected = 0.21 + 0.31 * (1 + np.array([1, np.sqrt(0.5), 0.5, 0, -1]))
    assert_close(found, expected, "cosine_between(0.83, 0.21, shares 0, 1/4, 1/3, 1/2, 1)", "equation (1)", **ROUNDING)


def test_cosine_between_leads_upwards_too():
    found = cosine_between(0.21, 0.83, np.array([0.0, 0.25, 2 / 3, 1.0]))
    expected = 0.83 - 0.31 * (1 + np.array([1, np.sqrt(0.5), -0.5, -1]))
    assert_close(found, expected, "cosine_between(0.21, 0.83, shares 0, 1/4, 2/3, 1)", "equation (1)", **ROUNDING)


def test_cosine_between_of_one_share():
    found = cosine_between(0.83, 0.21, 1 / 3)
    assert np.ndim(found) == 0, f"cosine_between of one share returned an array of shape {np.shape(found)}"
    assert_close(found, 0.675, "cosine_between(0.83, 0.21, 1/3)", "equation (1)", **ROUNDING)


# cyclical


def test_cyclical_by_hand():
    found = cyclical(np.arange(14), 0.13, 0.73, n_up=2, n_down=4)
    expected = [0.13, 0.43, 0.73, 0.58, 0.43, 0.28] * 2 + [0.13, 0.43]
    assert_close(found, expected, "cyclical(steps 0 to 13, 0.13, 0.73, n_up=2, n_down=4)", "equation (2)", **ROUNDING)


def test_cyclical_comes_down_as_it_went_up_unless_told_otherwise():
    found = cyclical(np.arange(9), 0.13, 0.73, n_up=3)
    expected = [0.13, 0.33, 0.53, 0.73, 0.53, 0.33, 0.13, 0.33, 0.53]
    assert_close(found, expected, "cyclical(steps 0 to 8, 0.13, 0.73, n_up=3)", "(2) with d = u", **ROUNDING)


def test_cyclical_triangular2_by_hand():
    found = cyclical(np.arange(15), 0.13, 0.73, n_up=2, n_down=4, mode="triangular2")
    shares = np.array([0, 1, 2, 1.5, 1, 0.5, 0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0.25, 0.5]) / 2
    call = "cyclical(steps 0 to 14, 0.13, 0.73, n_up=2, n_down=4, mode='triangular2')"
    assert_close(found, 0.13 + 0.6 * shares, call, "(2) with 2^-i", **ROUNDING)


def test_cyclical_exp_range_by_hand():
    found = cyclical(np.arange(9), 0.13, 0.73, n_up=2, n_down=4, mode="exp_range", factor=0.9)
    shares = np.array([0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0.5, 1]) * 0.9 ** np.arange(9)
    call = "cyclical(steps 0 to 8, 0.13, 0.73, n_up=2, n_down=4, mode='exp_range', factor=0.9)"
    assert_close(found, 0.13 + 0.6 * shares, call, "(2) with factor^t", **ROUNDING)


@needs_torch
@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_cyclical_agrees_with_torch(mode):
    make = partial(
        torch.optim.lr_scheduler.CyclicLR,
        base_lr=0.02,
        max_lr=0.37,
        step_size_up=7,
        step_size_down=11,
        mode=mode,
        gamma=0.98,
        cycle_momentum=False,
    )
    found = cyclical(np.arange(100), 0.02, 0.37, n_up=7, n_down=11, mode=mode, factor=0.98)
    call = f"cyclical(steps 0 to 99, 0.02, 0.37, n_up=7, n_down=11, mode='{mode}', factor=0.98)"
    assert_close(found, torch_rates(make, 100), call, "torch's CyclicLR", rtol=1e-10)


def test_cyclical_uses_the_factor_in_one_mode_only():
    for mode in ("triangular", "triangular2"):
        found, expected = (
            cyclical(np.arange(30), 0.02, 0.37, n_up=4, mode=mode, factor=factor) for factor in (0.5, 1.0)
        )
        assert_close(found, expected, f"cyclical(mode='{mode}') with the factor 0.5", "as with 1", **ROUNDING)


def test_cyclical_far_away():
    found = cyclical(np.array([10**12, 10**12 + 4]), 0.02, 0.37, n_up=4, mode="triangular2")
    assert_close(found, [0.02, 0.02], "cyclical(mode='triangular2') at step 1e12 and 4 later", "no peak is left")


def test_cyclical_of_any_shape():
    check_shapes("cyclical")


# one_cycle


def test_one_cycle_by_hand():
    found = one_cycle(np.arange(8), 0.84, n_up=3, n_steps=7, start_divisor=4.0, end_divisor=10.0)
    rising = 0.84 - 0.315 * (1 + np.array([1, 0.5, -0.5]))
    falling = 0.084 + 0.378 * (1 + np.array([1, np.sqrt(0.5), 0, -np.sqrt(0.5), -1]))
    call = "one_cycle(steps 0 to 7, 0.84, n_up=3, n_steps=7, start_divisor=4, end_divisor=10)"
    assert_close(found, [*rising, *falling], call, "equation (3)", **ROUNDING)


def test_one_cycle_stays_at_its_end():
    found = one_cycle(np.array([31, 32, 60, 10**12]), 0.37, n_up=7, n_steps=31, end_divisor=100.0)
    assert_close(found, [0.0037] * 4, "one_cycle from its last step on", "the peak over end_divisor", **ROUNDING)


def test_one_cycle_divides_by_25_and_by_250000_unless_told_otherwise():
    found = one_cycle(np.array([0, 7, 31]), 0.37, n_up=7, n_steps=31)
    expected = [0.0148, 0.37, 1.48e-6]
    assert_close(found, expected, "one_cycle(steps 0, 7, 31, 0.37, n_up=7, n_steps=31)", "(3)", **ROUNDING)


@needs_torch
def test_one_cycle_agrees_with_torch():
    make = partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=0.37, total_steps=101, pct_start=26 / 101)
    found = one_cycle(np.arange(101), 0.37, n_up=25, n_steps=100)
    call = "one_cycle(steps 0 to 100, 0.37, n_up=25, n_steps=100)"
    expected = torch_rates(make, 100, momentum=0.9)  # torch refuses to go on after its last step
    assert_close(found[:100], expected, call, "torch's OneCycleLR, by its defaults", rtol=1e-10)


def test_one_cycle_of_any_shape():
    check_shapes("one_cycle")


# one_cycle_momentum


def test_one_cycle_momentum_by_hand():
    found = one_cycle_momentum(np.arange(8), n_up=3, n_steps=7, low=0.52, high=0.92)
    shares = np.array([1, 0.75, 0.25, 0, (1 - np.sqrt(0.5)) / 2, 0.5, (1 + np.sqrt(0.5)) / 2, 1])
    call = "one_cycle_momentum(steps 0 to 7, n_up=3, n_steps=7, low=0.52, high=0.92)"
    assert_close(found, 0.52 + 0.4 * shares, call, "high at the ends, low at step 3, by (1) between", **ROUNDING)


def test_one_cycle_momentum_stays_at_its_end():
    found = one_cycle_momentum(np.array([31, 32, 50, 10**12]), n_up=7, n_steps=31)
    assert_close(found, [0.95] * 4, "one_cycle_momentum from its last step on", "the highest", **ROUNDING)


@needs_torch
def test_one_cycle_momentum_agrees_with_torch():
    make = partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=0.37, total_steps=101, pct_start=26 / 101)
    found = one_cycle_momentum(np.arange(100), n_up=25, n_steps=100)
    call = "one_cycle_momentum(steps 0 to 99, n_up=25, n_steps=100)"
    expected = torch_rates(make, 100, key="momentum", momentum=0.9)
    assert_close(found, expected, call, "torch's OneCycleLR, by its defaults", rtol=1e-10)


def test_one_cycle_momentum_of_any_shape():
    check_shapes("one_cycle_momentum")


# cycle


def test_cycle_by_hand():
    place, length = cycle(np.array([0, 3, 4, 5, 15, 16, 17, 51, 52, 60]), first=4, growth=3)
    call = "cycle(steps 0, 3, 4, 5, 15, 16, 17, 51, 52, 60, first=4, growth=3)"
    expected = "equation (4): cycles begin at 0, 4, 16, 52"
    assert_close(place, [0, 3, 0, 1, 11, 0, 1, 35, 0, 8], f"the places of {call}", expected)
    assert_close(length, [4, 4, 12, 12, 12, 36, 36, 36, 108, 108], f"the lengths of {call}", expected)


def test_cycle_without_growth():
    place, length = cycle(np.array([0, 6, 7, 20, 10**12]), first=7)
    call = "cycle(steps 0, 6, 7, 20, 10**12, first=7)"
    assert_close(place, [0, 6, 0, 6, 10**12 % 7], f"the places of {call}", "the rest of the division by 7")
    assert_close(length, [7] * 5, f"the lengths of {call}", "all cycles have 7 steps")


@pytest.mark.parametrize(("first", "growth"), [(1, 3), (10, 2), (7, 5), (3, 10)])
def test_cycle_is_exact_at_every_restart(first, growth):
    start, length = 0, first
    while start + length < 10**15:
        steps = np.array([start, start + length - 1, start + length])
        call = f"cycle(first={first}, growth={growth}) of the steps {start}, {start + length - 1}, {start + length}"
        places, lengths = cycle(steps, first=first, growth=growth)
        assert_close(places, [0, length - 1, 0], f"the places of {call}", "(4): the first and last, and the first")
        assert_close(lengths, [length, length, length * growth], f"the lengths of {call}", "(4)")
        start, length = start + length, length * growth


def test_cycle_returns_whole_numbers():
    for growth in (1, 3):
        place, length = cycle(np.array([2, 9]), first=4, growth=growth)
        for what, found in (("place", place), ("length", length)):
            assert found.dtype.kind == "i", f"cycle(growth={growth}) returned the {what} as {found.dtype}"


def test_cycle_of_any_shape():
    for name in ("cycle's place", "cycle's length", "cycle's place, growth 1", "cycle's length, growth 1"):
        check_shapes(name)


# warm_restarts


def test_warm_restarts_by_hand():
    found = warm_restarts(np.arange(14), 0.83, first=3, growth=2, end=0.21)
    root = np.sqrt(3) / 2
    waves = [1, 0.5, -0.5, 1, root, 0.5, 0, -0.5, -root, 1, *np.cos(np.pi * np.arange(1, 5) / 12)]
    call = "warm_restarts(steps 0 to 13, 0.83, first=3, growth=2, end=0.21)"
    assert_close(found, 0.21 + 0.31 * (1 + np.array(waves)), call, "equation (5)", **ROUNDING)


def test_warm_restarts_fall_to_zero_in_cycles_of_one_length_unless_told_otherwise():
    found = warm_restarts(np.arange(7), 0.37, first=3)
    expected = [0.37, 0.2775, 0.0925] * 2 + [0.37]
    assert_close(found, expected, "warm_restarts(steps 0 to 6, 0.37, first=3)", "(5)", **ROUNDING)


@needs_torch
@pytest.mark.parametrize("growth", [1, 2, 3])
def test_warm_restarts_agree_with_torch(growth):
    make = partial(torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, T_0=7, T_mult=growth, eta_min=0.02)
    found = warm_restarts(np.arange(100), 0.37, first=7, growth=growth, end=0.02)
    call = f"warm_restarts(steps 0 to 99, 0.37, first=7, growth={growth}, end=0.02)"
    assert_close(found, torch_rates(make, 100), call, "torch's CosineAnnealingWarmRestarts", rtol=1e-10)


def test_warm_restarts_of_any_shape():
    check_shapes("warm_restarts")


# reduce_on_plateau

SETTINGS = {"factor": 0.3, "patience": 2, "threshold": 0.1, "cooldown": 2, "smallest": 0.05}
WITH = "with factor 0.3, patience 2, threshold 0.1, cooldown 2 and smallest 0.05"


def check_plateau(state, loss, expected, why, **changes):
    """Assert what one loss makes of what was known."""
    found = reduce_on_plateau(state, loss, **(SETTINGS | changes))
    changed = "".join(f", but {name}={value}" for name, value in changes.items())
    for name in ("rate", "best", "n_bad", "cooldown"):
        call = f"the {name} after the loss {loss} in {state} {WITH}{changed}"
        assert_close(getattr(found, name), getattr(expected, name), call, why, rtol=1e-12, atol=0)


def test_reduce_on_plateau_takes_the_first_loss_for_the_best():
    check_plateau(Plateau(0.7), 3.7, Plateau(0.7, 3.7), "any finite loss is below infinity")
    check_plateau(Plateau(0.7), -3.7, Plateau(0.7, -3.7), "any finite loss is below infinity")


def test_reduce_on_plateau_asks_for_a_share_of_the_best():
    check_plateau(Plateau(0.7, 3.7, 2), 3.3, Plateau(0.7, 3.3), "3.3 is below 3.7 - 0.37: progress")
    check_plateau(Plateau(0.7, 3.7, 1), 3.4, Plateau(0.7, 3.7, 2), "3.4 is not below 3.7 - 0.37: bad")
    check_plateau(Plateau(0.7, 3.7), 4.4, Plateau(0.7, 3.7, 1), "4.4 is above the best: bad")
    check_plateau(Plateau(0.7, 0.37), 0.34, Plateau(0.7, 0.37, 1), "0.34 is not below 0.37 - 0.037: bad")
    check_plateau(Plateau(0.7, 0.5), 0.25, Plateau(0.7, 0.5, 1), "0.25 is not *below* 0.5 - 0.25: bad", threshold=0.5)


def test_reduce_on_plateau_of_negative_losses():
    check_plateau(Plateau(0.7, -3.7), -4.2, Plateau(0.7, -4.2), "-4.2 is below -3.7 - 0.37: progress")
    check_plateau(Plateau(0.7, -3.7), -3.9, Plateau(0.7, -3.7, 1), "-3.9 is not below -3.7 - 0.37: bad")
    check_plateau(Plateau(0.7, -3.7), -3.5, Plateau(0.7, -3.7, 1), "-3.5 is above the best: bad")


def test_reduce_on_plateau_multiplies_after_too_many_bad_losses():
    expected = Plateau(0.21, 3.7, 0, 2)
    check_plateau(Plateau(0.7, 3.7, 2), 3.6, expected, "the third bad loss, more than 2: the rate falls")
    check_plateau(Plateau(0.7, 3.7), 3.6, expected, "more than 0 bad losses: the rate falls", patience=0)


def test_reduce_on_plateau_never_pushes_the_rate_below_the_smallest():
    check_plateau(Plateau(0.12, 3.7, 2), 3.6, Plateau(0.05, 3.7, 0, 2), "0.12 * 0.3 is below the smallest")
    check_plateau(Plateau(0.04, 3.7, 2), 3.6, Plateau(0.04, 3.7, 0, 2), "a rate below the smallest does not rise")


def test_reduce_on_plateau_cools_down():
    check_plateau(Plateau(0.7, 3.7, 0, 2), 3.9, Plateau(0.7, 3.7, 0, 1), "no loss is bad during the cooldown")
    check_plateau(Plateau(0.7, 3.7, 0, 1), 3.1, Plateau(0.7, 3.1, 0, 0), "the best is brought up to date always")
    check_plateau(Plateau(0.7, 3.7, 0, 1), 3.9, Plateau(0.7, 3.7, 0, 0), "even without patience", patience=0)


@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf])
def test_reduce_on_plateau_takes_what_is_not_finite_for_bad(loss):
    check_plateau(Plateau(0.7, 3.7, 1), loss, Plateau(0.7, 3.7, 2), "a loss that is not finite is bad")
    check_plateau(Plateau(0.7, np.inf, 2), loss, Plateau(0.21, np.inf, 0, 2), "also before there is a best one")


def test_reduce_on_plateau_does_not_lose_small_gains():
    state = Plateau(0.7, 3.7)
    for loss in (3.6, 3.5, 3.2):
        state = reduce_on_plateau(state, loss, **SETTINGS)
    found = (state.best, state.n_bad)
    assert_close(
        found, (3.2, 0), "best and n_bad after the losses 3.7, 3.6, 3.5, 3.2", "gains add up: 3.2 < 3.33", rtol=1e-12
    )


@needs_torch
@pytest.mark.parametrize("cooldown", [0, 3])
def test_reduce_on_plateau_agrees_with_torch(cooldown):
    losses = 0.4 + np.exp(-np.arange(120) / 25) + 0.05 * np.cos(7 * np.arange(120))
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.37)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.3, patience=4, threshold=0.02, cooldown=cooldown, min_lr=0.001, eps=0.0
    )
    state, rates, expected = Plateau(0.37), [], []
    for loss in losses:
        state = reduce_on_plateau(state, loss, factor=0.3, patience=4, threshold=0.02, cooldown=cooldown, smallest=1e-3)
        scheduler.step(loss)
        rates.append(state.rate)
        expected.append(optimizer.param_groups[0]["lr"])
    call = f"the rates of reduce_on_plateau through 120 losses, cooldown {cooldown}"
    assert_close(rates, expected, call, "torch's ReduceLROnPlateau", rtol=1e-10)


def test_reduce_on_plateau_uses_what_its_signature_says_unless_told_otherwise():
    state = reduce_on_plateau(Plateau(0.7, 3.7, 10), 3.6999)
    assert_close((state.rate, state.cooldown), (0.07, 0), "rate and cooldown after the 11th bad loss", rtol=1e-12)
    state = reduce_on_plateau(Plateau(0.7, 3.7, 9), 3.6997)
    assert_close((state.rate, state.n_bad), (0.7, 10), "rate and n_bad after the 10th bad loss", rtol=1e-12)
    state = reduce_on_plateau(Plateau(0.7, 3.7, 10), 3.6996)
    assert_close((state.best, state.n_bad), (3.6996, 0), "best and n_bad after a gain of 0.0004", rtol=1e-12)


# the checks, which are given


@pytest.mark.given
@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "warm_restarts"])
@pytest.mark.parametrize("step", [-1, np.array([3, -2]), 1.5, np.array([1.0, 2.0]), "3"])
def test_cycle_and_the_others_refuse_what_is_no_step(name, step):
    with pytest.raises(ValueError, match="step"):
        SCHEDULES[name](step)


@pytest.mark.parametrize("step", [-1, np.array([3, -2]), 1.5, "3"])
def test_warm_restarts_refuses_what_is_no_step(step):
    with pytest.raises(ValueError, match="step"):
        warm_restarts(step, 0.37, first=5, growth=2)


@pytest.mark.given
@pytest.mark.parametrize(
    ("function", "settings", "argument"),
    [
        (cyclical, {"low": 0.1, "high": 0.3, "n_up": 0}, "n_up"),
        (cyclical, {"low": 0.1, "high": 0.3, "n_up": 2.5}, "n_up"),
        (cyclical, {"low": 0.1, "high": 0.3, "n_up": 2, "n_down": 0}, "n_down"),
        (cyclical, {"low": 0.4, "high": 0.3, "n_up": 2}, "low"),
        (cyclical, {"low": -0.4, "high": 0.3, "n_up": 2}, "low"),
        (cyclical, {"low": 0.1, "high": np.inf, "n_up": 2}, "high"),
        (cyclical, {"low": 0.1, "high": 0.3, "n_up": 2, "mode": "square"}, "mode"),
        (cyclical, {"low": 0.1, "high": 0.3, "n_up": 2, "factor": 1.1}, "factor"),
        (one_cycle, {"peak": 0.0, "n_up": 2, "n_steps": 5}, "peak"),
        (one_cycle, {"peak": 0.1, "n_up": 0, "n_steps": 5}, "n_up"),
        (one_cycle, {"peak": 0.1, "n_up": 5, "n_steps": 5}, "n_steps"),
        (one_cycle, {"peak": 0.1, "n_up": 2, "n_steps": 5, "start_divisor": 0.9}, "start_divisor"),
        (one_cycle, {"peak": 0.1, "n_up": 2, "n_steps": 5, "end_divisor": np.inf}, "end_divisor"),
        (one_cycle_momentum, {"n_up": 0, "n_steps": 5}, "n_up"),
        (one_cycle_momentum, {"n_up": 2, "n_steps": 2}, "n_steps"),
        (one_cycle_momentum, {"n_up": 2, "n_steps": 5, "high": 1.0}, "low and high"),
        (one_cycle_momentum, {"n_up": 2, "n_steps": 5, "low": 0.97}, "low and high"),
        (cycle, {"first": 0}, "first"),
        (cycle, {"first": 2.5}, "first"),
        (cycle, {"first": 2, "growth": 0}, "growth"),
        (cycle, {"first": 2, "growth": 1.5}, "growth"),
        (warm_restarts, {"rate": -0.1, "first": 2}, "rate"),
        (warm_restarts, {"rate": 0.1, "first": 2, "end": 0.2}, "end"),
    ],
)
def test_cycle_and_the_others_refuse_what_they_cannot_use(function, settings, argument):
    with pytest.raises(ValueError, match=f"^{argument} must"):
        function(3, **settings)


@pytest.mark.parametrize(("settings", "argument"), [({"first": 0}, "first"), ({"first": 2, "growth": 0.5}, "growth")])
def test_warm_restarts_refuses_cycles_that_are_none(settings, argument):
    with pytest.raises(ValueError, match=f"^{argument} must"):
        warm_restarts(3, 0.1, **settings)


@pytest.mark.given
@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"factor": 0.0}, "factor"),
        ({"factor": 1.5}, "factor"),
        ({"patience": -1}, "patience"),
        ({"patience": 1.5}, "patience"),
        ({"cooldown": -1}, "cooldown"),
        ({"threshold": -0.1}, "threshold"),
        ({"threshold": np.nan}, "threshold"),
        ({"smallest": np.inf}, "smallest"),
    ],
)
def test_reduce_on_plateau_refuses_what_it_cannot_use(settings, argument):
    with pytest.raises(ValueError, match=f"^{argument} must"):
        reduce_on_plateau(Plateau(0.7), 3.7, **settings)
