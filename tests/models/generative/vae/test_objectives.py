"""Shared tests of models/generative/vae/objectives: run on the reference, and on the learner's file.

Everything is deterministic. Tolerances of 1e-9 leave a million ulps of float64 for other orders of summation.
"""

import math

import pytest
import torch

from mlpath.models.generative.vae.objectives import (
    active_units,
    beta_loss,
    cyclical_schedule,
    free_bits,
    latent_traversal,
    linear_schedule,
    optimal_rates,
)
from mlpath.testing import assert_close


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def divergences():
    """Five images, three latents of 1.0, 0.3 and 0.02 nats on average; single entries lie on either side of 0.25."""
    return torch.tensor(
        [[3.0, 0.0, 0.0], [0.1, 1.0, 0.0], [1.2, 0.1, 0.0], [0.2, 0.4, 0.0], [0.5, 0.0, 0.1]], dtype=torch.float64
    )


# linear_schedule


@pytest.mark.parametrize("step", [0, 37, 91, 120, 121, 10**9])
def test_linear_schedule_rises_evenly_to_one_and_stays(step):
    actual = linear_schedule(step, 120)
    assert_close(actual, min(1, step / 120), f"linear_schedule({step}, 120)", "equation (5)", atol=1e-12)


@pytest.mark.parametrize(("start", "end"), [(0.2, 4.0), (4.0, 0.5), (2.0, 2.0)])
def test_linear_schedule_goes_from_start_to_end_either_way(start, end):
    for step, share in [(0, 0.0), (1, 0.1), (7, 0.7), (10, 1.0), (25, 1.0)]:
        call = f"linear_schedule({step}, 10, start={start}, end={end})"
        assert_close(
            linear_schedule(step, 10, start=start, end=end), start + share * (end - start), call, "equation (5)"
        )


def test_linear_schedule_may_warm_up_in_a_single_step():
    actual = [linear_schedule(step, 1) for step in range(3)]
    assert_close(actual, [0.0, 1.0, 1.0], "linear_schedule(0, 1, 2; n_warm_up=1)", "equation (5)")


@pytest.mark.given
def test_linear_schedule_refuses_negative_steps_and_an_empty_warm_up():
    with pytest.raises(ValueError, match="step"):
        linear_schedule(-1, 10)
    with pytest.raises(ValueError, match="n_warm_up"):
        linear_schedule(0, 0)


# cyclical_schedule


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 0.0),
        (50, 0.25),
        (199, 0.995),
        (200, 1.0),
        (399, 1.0),
        (400, 0.0),
        (500, 0.5),
        (1199, 1.0),
        (1200, 1.0),
        (9999, 1.0),
    ],
)
def test_cyclical_schedule_climbs_anew_in_each_cycle_and_ends_at_one(step, expected):
    actual = cyclical_schedule(step, 1200, n_cycles=3, ramp=0.5)
    assert_close(actual, expected, f"cyclical_schedule({step}, 1200, n_cycles=3, ramp=0.5)", "equation (6)", atol=1e-12)


def test_cyclical_schedule_has_four_cycles_that_rise_for_half_of_each_by_default():
    actual = [cyclical_schedule(step, 80) for step in (0, 5, 10, 19, 20, 25, 45, 79)]
    expected = [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 0.5, 1.0]
    assert_close(actual, expected, "cyclical_schedule(0, 5, 10, 19, 20, 25, 45, 79 of 80)", "equation (6)", atol=1e-12)


@pytest.mark.parametrize("ramp", [0.25, 0.8, 1.0])
def test_cyclical_schedule_rises_during_the_share_ramp_of_a_cycle(ramp):
    for step in (3, 60, 85, 99):  # of a cycle of 100 steps, the second of two
        call = f"cyclical_schedule({100 + step}, 200, n_cycles=2, ramp={ramp})"
        actual = cyclical_schedule(100 + step, 200, n_cycles=2, ramp=ramp)
        assert_close(actual, min(1.0, step / 100 / ramp), call, "equation (6)")


def test_cyclical_schedule_allows_cycles_that_are_no_whole_number_of_steps():
    # 7 cycles in 10 steps: u is 0, 0.7, 0.4, 0.1, 0.8, ...
    actual = [cyclical_schedule(step, 10, n_cycles=7, ramp=1.0) for step in range(5)]
    assert_close(
        actual, [0.0, 0.7, 0.4, 0.1, 0.8], "cyclical_schedule(0 to 4, 10, n_cycles=7, ramp=1)", "(6)", atol=1e-12
    )


def test_cyclical_schedule_allows_a_single_cycle_and_a_single_step():
    actual = [cyclical_schedule(step, 10, n_cycles=1, ramp=1.0) for step in (0, 3, 9, 10)]
    assert_close(
        actual, [0.0, 0.3, 0.9, 1.0], "cyclical_schedule(0, 3, 9, 10 of 10, n_cycles=1, ramp=1)", "equation (6)"
    )
    actual = [cyclical_schedule(step, 1) for step in (0, 1)]
    assert_close(actual, [0.0, 1.0], "cyclical_schedule(0 and 1 of 1)", "equation (6), and 1 from n_steps on")


@pytest.mark.given
def test_cyclical_schedule_refuses_cycles_that_cannot_be():
    for arguments, name in [
        ({"step": -1}, "step"),
        ({"n_steps": 0}, "n_steps"),
        ({"n_cycles": 0}, "n_cycles"),
        ({"ramp": 0.0}, "ramp"),
        ({"ramp": 1.5}, "ramp"),
        ({"ramp": math.nan}, "ramp"),
    ]:
        with pytest.raises(ValueError, match=name):
            cyclical_schedule(**{"step": 0, "n_steps": 10, **arguments})


# free_bits


@pytest.mark.parametrize(("floor", "expected"), [(0.0, 1.32), (0.01, 1.32), (0.25, 1.55), (0.5, 2.0), (2.0, 6.0)])
def test_free_bits_lifts_the_batch_mean_of_each_dimension_to_the_floor(floor, expected):
    assert_close(
        free_bits(divergences(), floor), expected, f"free_bits of means 1.0, 0.3, 0.02 and floor {floor}", "(7)"
    )


def test_free_bits_without_a_floor_is_the_mean_of_the_summed_divergence():
    kl = normal(7, 4).square()
    assert_close(free_bits(kl, 0.0), kl.sum() / 7, "free_bits(kl, 0)", "the rate, sum over latents, mean over images")


def test_free_bits_does_not_push_a_dimension_below_the_floor():
    kl = divergences().requires_grad_()
    (gradient,) = torch.autograd.grad(free_bits(kl, 0.25), kl)
    expected = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64).expand(5, 3) / 5
    assert_close(gradient, expected, "the gradient of free_bits by kl", "equation (7): 1 / B above the floor, 0 below")


def test_free_bits_keeps_float32_and_its_argument():
    kl = divergences().float()
    rate = free_bits(kl, 0.5)
    assert rate.dtype == torch.float32, f"free_bits of float32 returned {rate.dtype}"
    assert_close(kl, divergences().float(), "kl after free_bits(kl, 0.5)", "its value before")


@pytest.mark.given
def test_free_bits_refuses_what_is_no_matrix_or_no_floor():
    kl = divergences()
    for bad in [kl[0], kl[:0], kl / 0]:
        with pytest.raises(ValueError, match="kl"):
            free_bits(bad, 0.1)
    for floor in [-0.1, math.nan, math.inf]:
        with pytest.raises(ValueError, match="floor"):
            free_bits(kl, floor)


# beta_loss


def test_beta_loss_is_the_mean_negative_elbo_by_default():
    likelihood, kl = 10 * normal(6) - 40, normal(6, 3, seed=1).square()
    expected = -(likelihood - kl.sum(-1)).mean()
    assert_close(beta_loss(likelihood, kl), expected, "beta_loss(log_likelihood, kl)", "equation (1) with beta = 1")


@pytest.mark.parametrize(("beta", "floor"), [(0.0, 0.0), (4.0, 0.0), (1.0, 0.25), (2.7, 0.25), (0.5, 0.5)])
def test_beta_loss_prices_the_rate_alone(beta, floor):
    likelihood = torch.tensor([-20.0, -10.0, -5.0, -30.0, -35.0], dtype=torch.float64)
    rate = {0.0: 1.32, 0.25: 1.55, 0.5: 2.0}[floor]
    actual = beta_loss(likelihood, divergences(), beta=beta, floor=floor)
    call = f"beta_loss of distortion 20, KL of means 1.0, 0.3, 0.02, beta={beta}, floor={floor}"
    assert_close(actual, 20 + beta * rate, call, "equations (1) and (7)")


def test_beta_loss_has_gradients_by_both_terms():
    likelihood, kl = normal(5).requires_grad_(), divergences().requires_grad_()
    loss = beta_loss(likelihood, kl, beta=3.0, floor=0.25)
    by_likelihood, by_kl = torch.autograd.grad(loss, [likelihood, kl])
    assert_close(by_likelihood, [-0.2] * 5, "the gradient of beta_loss by log_likelihood", "(1)")
    expected = 3 * torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64).expand(5, 3) / 5
    assert_close(by_kl, expected, "the gradient of beta_loss(beta=3, floor=0.25) by kl", "(1) and (7)")


@pytest.mark.given
def test_beta_loss_refuses_batches_that_do_not_match_and_negative_prices():
    likelihood, kl = normal(5), divergences()
    for bad_likelihood, bad_kl, name in [
        (likelihood[:, None], kl, "log_likelihood"),
        (likelihood / 0, kl, "log_likelihood"),
        (likelihood, kl[0], "kl"),
        (likelihood, kl[:4], "kl"),
        (likelihood, kl * math.nan, "kl"),
    ]:
        with pytest.raises(ValueError, match=name):
            beta_loss(bad_likelihood, bad_kl)
    with pytest.raises(ValueError, match="beta"):
        beta_loss(likelihood, kl, beta=-1.0)
    with pytest.raises(ValueError, match="floor"):
        beta_loss(likelihood, kl, floor=-1.0)


# optimal_rates


def test_optimal_rates_of_directions_above_at_and_below_the_water():
    variances = torch.tensor([8 * math.e**2, 8.0, 7.9, 0.0, 16.0], dtype=torch.float64)
    actual = optimal_rates(variances, 2.0, beta=4.0)
    expected = [1.0, 0.0, 0.0, 0.0, math.log(2) / 2]
    assert_close(actual, expected, "optimal_rates([8 e^2, 8, 7.9, 0, 16], 2, beta=4)", "equation (4)", atol=1e-12)


def test_optimal_rates_of_two_directions_by_hand():
    actual = optimal_rates(torch.tensor([7.3, 2.9], dtype=torch.float64), 0.6, beta=1.7)
    expected = [math.log(7.3 / 1.02) / 2, math.log(2.9 / 1.02) / 2]
    assert_close(actual, expected, "optimal_rates([7.3, 2.9], 0.6, beta=1.7)", "equation (4)", atol=1e-12)


def test_optimal_rates_are_those_that_minimise_the_linear_models_loss():
    variances, noise, beta = torch.tensor([5.0, 1.1, 0.3], dtype=torch.float64), 0.4, 1.5

    def rates(encode, variance):
        return (encode**2 * variances + variance - 1 - variance.log()) / 2

    def loss(decode, encode, variance):
        error = variances * (1 - decode * encode) ** 2 + decode**2 * variance
        return (error / (2 * noise) + beta * rates(encode, variance)).sum()

    decode = torch.ones(3, dtype=torch.float64)
    for _ in range(300):  # each of the three in turn, to where its own derivative vanishes
        variance = beta / (decode**2 / noise + beta)
        encode = variances * decode / (variances * decode**2 + beta * noise * variances)
        decode = variances * encode / (variances * encode**2 + variance)
    point = [t.requires_grad_() for t in (decode, encode, variance)]
    slope = max(gradient.abs().max().item() for gradient in torch.autograd.grad(loss(*point), point))
    assert slope < 1e-9, f"the test's own minimum of (3) has a gradient of {slope}"
    actual = optimal_rates(variances, noise, beta=beta)
    call = "optimal_rates([5, 1.1, 0.3], 0.4, beta=1.5)"
    assert_close(actual, rates(encode, variance), call, "minimising beta times (3)", rtol=1e-7, atol=1e-9)


def test_optimal_rates_know_only_the_product_of_price_and_noise():
    variances = normal(20).exp()
    actual = optimal_rates(variances, 0.1, beta=5.0)
    assert_close(
        actual, optimal_rates(variances, 0.5), "optimal_rates(v, 0.1, beta=5)", "(2): tau is 0.5 either way", atol=1e-12
    )


def test_optimal_rates_survive_extreme_units_and_keep_float32():
    for scale, noise in [(1e200, 1e-150), (1e-250, 1e-300)]:
        actual = optimal_rates(torch.tensor([scale], dtype=torch.float64), noise, beta=0.5)
        expected = [(math.log(scale) - math.log(noise) + math.log(2)) / 2]
        assert_close(actual, expected, f"optimal_rates([{scale:g}], {noise:g}, beta=0.5)", "equation (4)")
    rates = optimal_rates(torch.ones(2), 0.5)
    assert rates.dtype == torch.float32, f"optimal_rates of float32 returned {rates.dtype}"


@pytest.mark.given
def test_optimal_rates_refuse_negative_variances_and_prices_of_nothing():
    variances = torch.ones(3)
    for bad in [-variances, variances[:0], variances / 0, variances[None]]:
        with pytest.raises(ValueError, match="variances"):
            optimal_rates(bad, 1.0)
    for bad in [0.0, -1.0, math.nan]:
        with pytest.raises(ValueError, match="noise_variance"):
            optimal_rates(variances, bad)
        with pytest.raises(ValueError, match="beta"):
            optimal_rates(variances, 1.0, beta=bad)


# latent_traversal


def decoder():
    """Two latents and an offset to five features, through a nonlinearity; any leading axes."""
    weights, bias = normal(3, 5, seed=1), normal(5, seed=2)
    return lambda z: torch.tanh(z @ weights) + bias


def test_latent_traversal_replaces_one_entry_at_a_time():
    decode, mean = decoder(), torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    values = torch.tensor([-3.0, -1.0, 0.5, 2.5], dtype=torch.float64)
    actual = latent_traversal(decode, mean, values)
    shape = tuple(actual.shape)
    assert shape == (3, 4, 5), (
        f"latent_traversal of 3 latents, 4 values, 5 features returned {shape}; expected (3, 4, 5)"
    )
    for j in range(3):
        for k in range(4):
            code = mean.tolist()
            code[j] = values[k].item()
            expected = decode(torch.tensor(code, dtype=torch.float64))
            assert_close(actual[j, k], expected, f"latent_traversal(...)[{j}, {k}]", f"(8): the decoder at {code}")


def test_latent_traversal_passes_through_the_image_itself():
    decode, mean = decoder(), torch.tensor([0.5, 0.5, 0.5], dtype=torch.float64)
    actual = latent_traversal(decode, mean, torch.tensor([0.5], dtype=torch.float64))
    assert_close(
        actual, decode(mean).expand(3, 1, 5), "latent_traversal to the values of the mean", "decode(mean), by (8)"
    )


def test_latent_traversal_keeps_float32_and_its_arguments():
    mean, values = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.0, 1.0])
    images = latent_traversal(lambda z: 2 * z, mean, values)
    assert images.dtype == torch.float32, f"latent_traversal of float32 returned {images.dtype}"
    assert_close(mean, [1.0, 2.0], "mean after latent_traversal", "its value before")
    assert_close(values, [-1.0, 0.0, 1.0], "values after latent_traversal", "their values before")


@pytest.mark.given
def test_latent_traversal_refuses_a_batch_of_means():
    for mean, values, name in [
        (torch.zeros(2, 3), torch.zeros(4), "mean"),
        (torch.zeros(0), torch.zeros(4), "mean"),
        (torch.zeros(3), torch.zeros(4, 1), "values"),
        (torch.zeros(3), torch.tensor([math.nan]), "values"),
    ]:
        with pytest.raises(ValueError, match=name):
            latent_traversal(lambda z: z, mean, values)


# active_units


def test_active_units_are_those_whose_mean_varies_over_images():
    means = normal(200, 4) * torch.tensor([1.0, 0.2, 0.05, 0.0]) + torch.tensor([0.0, 3.0, -7.0, 100.0])
    actual = active_units(means)
    assert actual.dtype == torch.bool, f"active_units returned {actual.dtype}; expected truth values"
    # The variances are about 1, 0.04, 0.0025 and 0.
    assert actual.tolist() == [True, True, False, False], (
        f"active_units returned {actual.tolist()}; (9) says T, T, F, F"
    )


def test_active_units_take_the_threshold_as_a_variance():
    means = normal(200, 3) * torch.tensor([2.0, 1.0, 0.7])
    actual = active_units(means, threshold=2.0).tolist()  # variances of about 4, 1 and 0.5
    assert actual == [True, False, False], f"active_units(threshold=2) of variances 4, 1, 0.5 returned {actual}"
    actual = active_units(means, threshold=0.75).tolist()
    assert actual == [True, True, False], f"active_units(threshold=0.75) of variances 4, 1, 0.5 returned {actual}"


def test_active_units_must_exceed_the_threshold():
    actual = active_units(torch.tensor([[1.0, 2.0], [1.0, 3.0]]), threshold=0.0).tolist()
    assert actual == [False, True], (
        f"active_units(threshold=0) of two images, [1, 2] and [1, 3], returned {actual}; see (9)"
    )


def test_active_units_of_means_far_from_zero():
    means = 1e6 + normal(200, 2) * torch.tensor([1.0, 0.01])
    actual = active_units(means).tolist()
    assert actual == [True, False], f"active_units of means near 1e6 with variances 1 and 0.0001 returned {actual}"


@pytest.mark.given
def test_active_units_refuse_a_single_image():
    for bad in [torch.zeros(1, 3), torch.zeros(3), torch.full((4, 2), math.nan)]:
        with pytest.raises(ValueError, match="means"):
            active_units(bad)
    with pytest.raises(ValueError, match="threshold"):
        active_units(torch.zeros(4, 2), threshold=-1.0)
