"""Shared tests of optim/lr_finder: run on the reference, and on the learner's file.

All is deterministic: batches, where there are any, come from seeded generators that the tests own.
"""

import math

import numpy as np
import pytest
import torch
import torch._dynamo  # torch.optim imports it at its first step, which takes seconds
from torch import nn
from torch.nn.functional import cross_entropy

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.lr_finder import (
    RangeTest,
    has_exploded,
    largest_gradient_rate,
    ramp,
    range_test,
    restoring,
    smooth,
    steepest_rate,
    tenth_of_best,
)
from mlpath.testing import assert_close

torch.set_num_threads(1)
LOSSES = np.array([2.31, 2.17, 2.42, 1.63, 0.94, 1.38])


class Bowl(nn.Module):
    """The quadratic of a diagonal Hessian."""

    def __init__(self, spectrum, start):
        super().__init__()
        self.spectrum = torch.tensor(spectrum, dtype=torch.float64)
        self.w = nn.Parameter(torch.tensor(start, dtype=torch.float64))

    def loss(self):
        return (self.spectrum * self.w**2).sum() / 2


class Scripted:
    """A model whose losses are told beforehand, with the gradients told, too."""

    def __init__(self, losses, norms=None):
        self.model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.3)
        self.losses, self.calls = losses, 0
        self.norms = np.ones(len(losses)) if norms is None else norms

    def loss(self):
        value, norm = self.losses[self.calls], self.norms[self.calls]
        self.calls += 1
        if isinstance(value, Exception):
            raise value
        weight = self.model.weight.sum()
        return norm * (weight - weight.detach()) + value

    def test(self, rates=None, **settings):
        rates = ramp_of(len(self.losses)) if rates is None else rates
        return range_test(self.model, self.optimizer, self.loss, rates, **settings)


def ramp_of(n, first=1e-3, factor=2.0):
    return first * factor ** np.arange(n)


def record(smoothed, norms=None, rates=None):
    """A record whose raw losses are not the smoothed ones."""
    smoothed = np.array(smoothed, float)
    rates = ramp_of(len(smoothed)) if rates is None else np.array(rates)
    return RangeTest(rates, smoothed[::-1].copy(), smoothed, np.ones(len(smoothed)) if norms is None else norms)


# ramp


@pytest.mark.parametrize(("first", "last", "n_steps"), [(0.003, 0.7, 7), (1e-7, 10.0, 100), (0.2, 0.3, 2)])
def test_ramp_goes_from_the_first_rate_to_the_last_by_a_constant_factor(first, last, n_steps):
    expected = [first * (last / first) ** (i / (n_steps - 1)) for i in range(n_steps)]
    assert_close(ramp(first, last, n_steps), expected, f"ramp({first}, {last}, {n_steps})", "equation (1)", rtol=1e-12)


# smooth


def test_smooth_is_the_corrected_average_of_the_losses_so_far():
    expected = []
    for i in range(1, 7):
        weights = 0.7 ** np.arange(i)[::-1]
        expected.append(float(weights @ LOSSES[:i] / weights.sum()))
    assert_close(smooth(LOSSES, 0.7), expected, f"smooth({LOSSES.tolist()}, 0.7)", "equation (3)", rtol=1e-12)


def test_smooth_of_equal_losses_is_that_loss():
    actual = smooth(np.full(40, 2.31), 0.98)
    assert_close(actual, np.full(40, 2.31), "smooth of 40 losses of 2.31, beta=0.98", "(3): its start is corrected")


def test_smooth_with_beta_zero_changes_nothing_nor_its_argument():
    losses = LOSSES.copy()
    assert_close(smooth(losses, 0.0), LOSSES, "smooth(losses, 0)", "equation (3) with beta = 0")
    smooth(losses, 0.9)
    assert_close(losses, LOSSES, "the losses after smooth", "their values before")


# has_exploded


@pytest.mark.parametrize(
    ("smoothed", "expected"),
    [
        ([2.31, 0.62, 2.47], False),
        ([2.31, 0.62, 2.49], True),
        ([2.31, 0.62, 9.0, 0.7], False),
        ([2.31], False),
        ([0.5, 2.0], False),
        ([2.31, 0.62, np.nan], True),
        ([2.31, 0.62, np.inf], True),
        ([0.0, 0.0], False),
    ],
)
def test_has_exploded_when_the_last_exceeds_four_times_the_least(smoothed, expected):
    actual = has_exploded(np.array(smoothed))
    assert isinstance(actual, (bool, np.bool_)), f"has_exploded returned a {type(actual).__name__}, not True or False"
    assert actual == expected, f"has_exploded({smoothed}) returned {actual}; equation (4) says {expected}"


@pytest.mark.parametrize(("factor", "expected"), [(1.4, True), (1.6, False)])
def test_has_exploded_takes_the_factor_it_is_given(factor, expected):
    actual = has_exploded(np.array([2.31, 0.62, 0.93]), factor=factor)
    assert actual == expected, f"has_exploded([2.31, 0.62, 0.93], factor={factor}) returned {actual}; (4) has 1.5 there"


# restoring


def spoil(model, optimizer, n_steps=3):
    for group in optimizer.param_groups:
        group["lr"] = 0.7
    for _ in range(n_steps):
        optimizer.zero_grad()
        (model(torch.arange(12.0).reshape(4, 3).cos()) ** 3).sum().backward()
        optimizer.step()


@pytest.mark.parametrize("trained", [0, 2])
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_restoring_puts_weights_buffers_and_the_optimisers_state_back(name, trained):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    settings = {"momentum": 0.9} if name == "SGD" else {}
    groups = [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[1].parameters(), "lr": 0.02}]
    optimizer = getattr(torch.optim, name)(groups, **settings)
    spoil(model, optimizer, trained)
    for group, rate in zip(optimizer.param_groups, (0.01, 0.02)):
        group["lr"] = rate
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = [{k: torch.as_tensor(v).clone() for k, v in optimizer.state[p].items()} for p in model.parameters()]
    with restoring(model, optimizer):
        spoil(model, optimizer)
        changed = {key: value.clone() for key, value in model.state_dict().items()}
    same = [key for key, value in before.items() if torch.equal(changed[key], value) and key != "0.bias"]
    assert not same, f"inside the block nothing may be restored yet, but {same} are as before it"
    for key, value in before.items():
        assert_close(model.state_dict()[key], value, f"{key} after restoring", "its value before the block")
    for i, parameter in enumerate(model.parameters()):
        now = {k: torch.as_tensor(v) for k, v in optimizer.state[parameter].items()}
        assert now.keys() == state[i].keys(), f"{name}'s state after restoring has {list(now)}, before {list(state[i])}"
        for key, value in state[i].items():
            assert_close(now[key], value, f"{name}'s {key} after restoring", "its value before the block")
        assert parameter.grad is None or not parameter.grad.any(), "a gradient is left after restoring"
    rates = [group["lr"] for group in optimizer.param_groups]
    assert_close(rates, [0.01, 0.02], "the rates of the optimiser's groups after restoring", "those before the block")


def test_restoring_does_so_after_an_error_too_and_lets_it_pass():
    model = nn.Linear(1, 1)
    weight = model.weight.item()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)

    def block():
        with restoring(model, optimizer):
            nn.init.constant_(model.weight, weight + 1)
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        block()
    assert_close(model.weight.item(), weight, "the weight after an error inside restoring", "its value before")


# range_test


def test_range_test_on_a_parabola_has_the_curve_that_is_known():
    bowl = Bowl([1.7], [0.9])
    rates = 0.01 * 1.4 ** np.arange(17)  # 2 / 1.7 = 1.18 lies between the rates 1.11 and 1.56
    test = range_test(bowl, torch.optim.SGD(bowl.parameters(), lr=0.3), bowl.loss, rates, beta=0.0, factor=1e9)
    weights = 0.9 * np.concatenate([[1.0], np.cumprod(1 - 1.7 * rates[:-1])])
    call = "range_test on 1.7 w^2 / 2 from 0.9"
    assert_close(test.losses, 1.7 * weights**2 / 2, f"the losses of {call}", "equation (8)", rtol=1e-9)
    assert_close(test.norms, 1.7 * abs(weights), f"the norms of {call}", "|1.7 w|", rtol=1e-9)
    assert_close(test.rates, rates, f"the rates of {call}", "all of the ramp", rtol=1e-12)
    assert_close(test.smoothed, test.losses, f"the smoothed losses of {call}, beta=0", "equation (3)")
    first_rise = int(np.flatnonzero(np.diff(test.losses) > 0)[0])
    said = f"the loss first rises by the step of rate {test.rates[first_rise]:.3f}"
    assert test.rates[first_rise - 1] < 2 / 1.7 < test.rates[first_rise], f"{said}; the limit is 2 / 1.7 = 1.176"


def test_range_test_blows_up_after_the_limit_of_the_sharpest_direction():
    bowl = Bowl([0.3, 1.1, 5.9], [1.0, -0.7, 0.4])
    rates = ramp_of(45, 1e-2, 1.25)
    test = range_test(bowl, torch.optim.SGD(bowl.parameters(), lr=0.3), bowl.loss, rates, beta=0.0)
    assert len(test.rates) < 45, "range_test made all steps of a ramp up to 184 where the limit is 2 / 5.9 = 0.34"
    lowest, last = test.rates[np.argmin(test.losses)], test.rates[-1]
    said = f"the loss is least at the rate {lowest:.3f}, and the test stopped at {last:.3f}"
    assert lowest > 2 / 5.9, f"{said}; below 2 / 5.9 = 0.339 every direction shrinks"
    assert last > lowest, f"{said}; it stops after the least loss"


def test_range_test_records_the_smoothed_curve_and_the_norms():
    norms = np.array([1.3, 0.4, 2.2, 0.9, 3.1, 0.7])
    test = Scripted(LOSSES, norms).test(beta=0.7)
    call = f"range_test with the losses {LOSSES.tolist()}, beta=0.7"
    assert_close(test.losses, LOSSES, f"the losses of {call}", "the losses as they are")
    assert_close(test.norms, norms, f"the norms of {call}", "those of the gradients")
    expected = []
    for i in range(1, 7):
        weights = 0.7 ** np.arange(i)[::-1]
        expected.append(float(weights @ LOSSES[:i] / weights.sum()))
    assert_close(test.smoothed, expected, f"the smoothed losses of {call}", "equation (3)", rtol=1e-12)


def test_range_test_stops_with_the_loss_that_explodes_and_steps_no_more():
    script = Scripted([2.31, 0.62, 1.9, 2.6, 0.5, 0.4])
    test = script.test(beta=0.0)
    call = "range_test with the losses 2.31, 0.62, 1.9, 2.6, 0.5, 0.4 and beta=0"
    assert_close(test.losses, [2.31, 0.62, 1.9, 2.6], f"the losses of {call}", "(4): 2.6 > 4 * 0.62 ends it")
    assert_close(test.rates, ramp_of(4), f"the rates of {call}", "one for each recorded loss")
    assert script.calls == 4, f"{call} asked for {script.calls} losses"
    later = Scripted([2.31, 0.62, 1.9, 2.6, 0.5, 0.4]).test(beta=0.0, factor=4.5)
    assert len(later.losses) == 6, f"with factor=4.5 it recorded {len(later.losses)} losses; 2.6 is 4.2 times 0.62"


def test_range_test_judges_by_the_smoothed_losses():
    test = Scripted([2.31, 0.62, 2.6, 0.5]).test(beta=0.9)
    said = "range_test with the losses 2.31, 0.62, 2.6, 0.5 and beta=0.9 recorded"
    assert len(test.losses) == 4, f"{said} {len(test.losses)}; smoothed, none is above 4 times the least"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_range_test_does_not_record_a_loss_that_is_not_finite(bad):
    script = Scripted([2.31, 0.62, bad, 0.5])
    test = script.test(beta=0.5)
    assert script.calls == 3, f"with the losses 2.31, 0.62, {bad}, 0.5 it asked for {script.calls}; the third ends it"
    assert_close(test.losses, [2.31, 0.62], f"range_test with the losses 2.31, 0.62, {bad}, 0.5", "the finite ones")
    assert len(test.norms) == len(test.rates) == 2, f"it recorded {len(test.norms)} norms and {len(test.rates)} rates"
    with pytest.raises(ValueError, match="batch_loss"):
        Scripted([bad, 0.5]).test()


def test_range_test_gives_every_group_the_rate_and_leaves_all_as_it_was():
    model = perceptron((64, 5, 10), generator=torch.Generator().manual_seed(0))
    x, y = digits(30)
    groups = [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters(), "lr": 0.02}]
    optimizer = torch.optim.SGD(groups, momentum=0.9)
    weights = [p.detach().clone() for p in model.parameters()]
    seen = []

    def loss():
        seen.append([group["lr"] for group in optimizer.param_groups])
        return cross_entropy(model(x), y)

    rates = ramp(1e-2, 1e2, 15)
    test = range_test(model, optimizer, loss, rates)
    expected = np.column_stack([rates[: len(seen) - 1]] * 2)
    assert_close(np.array(seen[1:]), expected, "the rates after each step of range_test", "the ramp's, in both groups")
    for before, now in zip(weights, model.parameters()):
        assert_close(now, before, "the weights after range_test", "those before it")
        assert now.grad is None or not now.grad.any(), "a gradient is left after range_test"
    assert not any(optimizer.state[p] for p in model.parameters()), "a momentum is left after range_test"
    left = [group["lr"] for group in optimizer.param_groups]
    assert_close(left, [0.01, 0.02], "the rates of the optimiser after range_test", "those before it")
    again = range_test(model, optimizer, loss, rates)
    assert_close(again.losses, test.losses, "a second range_test", "the first: all was put back", rtol=1e-12)


def test_range_test_measures_the_norm_of_all_gradients_together():
    bowl = Bowl([0.3, 1.1, 5.9], [1.0, -0.7, 0.4])
    bowl.extra, bowl.idle = nn.Parameter(torch.tensor(0.6)), nn.Parameter(torch.ones(2))
    sgd = torch.optim.SGD(bowl.parameters(), lr=0.1)
    test = range_test(bowl, sgd, lambda: bowl.loss() + bowl.extra**2, ramp(0.01, 0.02, 2))
    expected = math.sqrt(0.3**2 + 0.77**2 + 2.36**2 + 1.2**2)
    assert_close(test.norms[0], expected, "the first norm of range_test", "of all gradients as one vector", rtol=1e-6)


def test_range_test_lets_an_error_of_the_users_pass_and_puts_all_back():
    script = Scripted([2.3, 2.2, ZeroDivisionError("mine"), 1.0])
    before = script.model.weight.item()
    with pytest.raises(ZeroDivisionError, match="mine"):
        script.test()
    assert_close(script.model.weight.item(), before, "the weight after an error in batch_loss", "its value before")
    rate = script.optimizer.param_groups[0]["lr"]
    assert_close(rate, 0.3, "the rate after an error in batch_loss", "the rate before")


# steepest_rate


def test_steepest_rate_is_where_the_loss_falls_fastest_on_the_logarithmic_axis():
    """By central differences: -0.07, 0.05, -0.40, -0.74, -0.13, ... The steepest single step is the one after it."""
    test = record([2.31, 2.17, 2.42, 1.38, 0.94, 1.12, 3.0])
    actual = steepest_rate(test)
    call = "steepest_rate of the smoothed losses 2.31, 2.17, 2.42, 1.38, 0.94, 1.12, 3.0, rates 0.001, 0.002, ..."
    assert_close(actual, 0.008, call, "equation (5)", rtol=1e-12)


def test_steepest_rate_divides_by_logarithms_of_the_rates():
    test = record([3.0, 2.6, 2.1, 1.5, 1.2, 1.15], rates=[0.01, 0.02, 0.04, 0.32, 0.64, 1.28])
    call = "steepest_rate of 3.0, 2.6, 2.1, 1.5, 1.2, 1.15 at the rates 0.01, 0.02, 0.04, 0.32, 0.64, 1.28"
    assert_close(steepest_rate(test), 0.02, call, "(5): 0.04 and 0.32 are three doublings apart", rtol=1e-12)


def test_steepest_rate_looks_at_the_ends_of_the_curve_by_one_difference():
    call = "steepest_rate of 3.0, 1.9, 1.8, 1.75"
    assert_close(steepest_rate(record([3.0, 1.9, 1.8, 1.75])), 0.001, call, "(5): at the left end", rtol=1e-12)
    call = "steepest_rate of 2.31, 2.2, 2.1, 1.1"
    assert_close(steepest_rate(record([2.31, 2.2, 2.1, 1.1])), 0.008, call, "(5): at the right end", rtol=1e-12)


def test_steepest_rate_does_not_look_behind_the_least_loss():
    test = record([2.31, 2.17, 1.9, 1.8, 6.0, 2.0, 1.9])
    call = "steepest_rate of 2.31, 2.17, 1.9, 1.8, 6.0, 2.0, 1.9, which falls most from 6.0"
    assert_close(steepest_rate(test), 0.002, call, "equation (5), i up to the least", rtol=1e-12)


def test_steepest_rate_trains_digits_better_than_ten_times_less_or_more():
    x, y = digits(80)

    def start(rate):
        model = perceptron((64, 8, 10), generator=torch.Generator().manual_seed(0))
        return model, torch.optim.SGD(model.parameters(), lr=rate)

    model, sgd = start(0.1)
    batches = torch.Generator().manual_seed(0)

    def batch_loss():
        rows = torch.randperm(80, generator=batches)[:64]
        return cross_entropy(model(x[rows]), y[rows])

    found = steepest_rate(range_test(model, sgd, batch_loss, ramp(1e-3, 100, 50)))
    losses = []
    for rate in (found / 10, found, 10 * found):
        model, sgd = start(rate)
        for _ in range(30):
            sgd.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            sgd.step()
        losses.append(loss.item())
    said = f"30 steps with a tenth of the rate {found:.3f}, with it, and with ten times it end at {np.round(losses, 3)}"
    assert losses[1] < 0.6 * losses[0], f"{said}; the suggested rate should do much better than a tenth of it"
    assert losses[1] < 0.1 * losses[2], f"{said}; the suggested rate should do much better than ten times it"


# tenth_of_best


def test_tenth_of_best_is_a_tenth_of_the_rate_of_the_least_smoothed_loss():
    test = record([2.31, 2.17, 2.42, 1.38, 0.94, 1.12, 3.0])
    call = "tenth_of_best of 2.31, 2.17, 2.42, 1.38, 0.94, 1.12, 3.0, rates 0.001, 0.002, ..."
    assert_close(tenth_of_best(test), 0.0016, call, "(6)", rtol=1e-12)
    test = record([2.31, 0.94, 1.2, 0.94])
    assert_close(tenth_of_best(test), 0.0002, "tenth_of_best of 2.31, 0.94, 1.2, 0.94", "(6), the first", rtol=1e-12)


# largest_gradient_rate


def test_largest_gradient_rate_is_one_over_the_largest_norm_while_the_loss_fell():
    test = record([2.31, 2.17, 0.94, 1.12, 3.0], norms=np.array([1.7, 3.2, 0.4, 5.1, 90.0]))
    call = "largest_gradient_rate of norms 1.7, 3.2, 0.4, 5.1, 90 where the third loss is least"
    assert_close(largest_gradient_rate(test), 1 / 3.2, call, "equation (7)", rtol=1e-12)
    test = record([2.31, 2.17, 0.94, 1.12, 3.0], norms=np.array([1.7, 3.2, 4.6, 5.1, 90.0]))
    call = "largest_gradient_rate of norms 1.7, 3.2, 4.6, 5.1, 90 where the third loss is least"
    assert_close(largest_gradient_rate(test), 1 / 4.6, call, "(7): i up to k", rtol=1e-12)


@pytest.mark.given
@pytest.mark.parametrize("rule", [steepest_rate, tenth_of_best, largest_gradient_rate])
@pytest.mark.parametrize("smoothed", [[2.3, 2.4, 2.5], [2.3, 2.3, 2.3], [2.3]])
def test_steepest_rate_and_the_other_rules_refuse_a_curve_that_never_falls(rule, smoothed):
    with pytest.raises(ValueError, match="test"):
        rule(record(smoothed))


@pytest.mark.given
def test_ramp_smooth_has_exploded_and_range_test_refuse_what_is_none():
    for arguments, name in (
        ((0.0, 1.0, 5), "first"),
        ((math.nan, 1.0, 5), "first"),
        ((math.inf, math.inf, 5), "first"),
        ((0.1, 0.1, 5), "last"),
        ((0.1, math.inf, 5), "last"),
        ((0.1, 1.0, 1), "n_steps"),
    ):
        with pytest.raises(ValueError, match=name):
            ramp(*arguments)
    for beta in (-0.1, 1.0, math.nan):
        with pytest.raises(ValueError, match="beta"):
            smooth(LOSSES, beta)
        with pytest.raises(ValueError, match="beta"):
            Scripted(LOSSES).test(beta=beta)
    for bad in (np.array([]), np.array([1.0, -0.1])):
        with pytest.raises(ValueError, match="smoothed"):
            has_exploded(bad)
    for factor in (0.9, math.nan):
        with pytest.raises(ValueError, match="factor"):
            has_exploded(LOSSES, factor=factor)
        with pytest.raises(ValueError, match="factor"):
            Scripted(LOSSES).test(factor=factor)
    for rates in (np.array([]), np.array([0.1, 0.0]), np.array([np.nan]), np.array([np.inf]), np.ones((2, 2))):
        with pytest.raises(ValueError, match="rates"):
            Scripted(LOSSES).test(rates)
