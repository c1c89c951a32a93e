"""Shared tests of models/generative/vae/information: run on the reference, and on the learner's file.

Tolerances of 1e-9 leave a million ulps of float64 for other orders of summation. A right solution fails a
check of what is random with a probability of 1e-8, whatever the order of its draws: 9 of them, 9e-8 together.
"""

import math

import pytest
import torch
from scipy import special
from torch.distributions import Categorical, Independent, LogNormal, MixtureSameFamily, Normal, kl_divergence

from mlpath.models.generative.vae.information import (
    RateSplit,
    information_dropout,
    infovae_loss,
    log_aggregate_posterior,
    lognormal_cost,
    loguniform_cost,
    rbf_kernel,
    split_rate,
    squared_mmd,
)
from mlpath.testing import assert_close, assert_distribution, assert_mean, assert_variance

N = 40_000


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20170607)


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def slow_kernel(u, v, bandwidth):
    """Equation (6) for two points, in plain Python."""
    return math.exp(-sum((a - b) ** 2 for a, b in zip(u, v)) / (2 * bandwidth**2))


# rbf_kernel


def test_rbf_kernel_agrees_with_a_double_loop():
    x, y = normal(5, 3), normal(4, 3, seed=1)
    expected = [[slow_kernel(u, v, 1.7) for v in y.tolist()] for u in x.tolist()]
    assert_close(
        rbf_kernel(x, y, bandwidth=1.7), expected, "rbf_kernel of 5 and 4 points, bandwidth 1.7", "equation (6)"
    )


def test_rbf_kernel_does_not_mind_where_the_points_lie():
    # Whole multiples of 2^-10, which a shift by 2^20 leaves exact.
    x, y = (torch.round(normal(40, 6, seed=s) * 1024) / 1024 for s in (0, 1))
    actual = rbf_kernel(x + 2.0**20, y + 2.0**20, bandwidth=1.5)
    assert_close(
        actual, rbf_kernel(x, y, bandwidth=1.5), "rbf_kernel of points moved by 2^20", "that of the points unmoved"
    )


@pytest.mark.parametrize("unit", [1e-150, 1e150])
def test_rbf_kernel_does_not_mind_the_unit(unit):
    x, y = normal(3, 2), normal(4, 2, seed=1)
    actual = rbf_kernel(unit * x, unit * y, bandwidth=1.5 * unit)
    assert_close(actual, rbf_kernel(x, y, bandwidth=1.5), f"rbf_kernel in units of {unit:g}", "that in units of 1")


def test_rbf_kernel_is_zero_for_points_that_are_worlds_apart():
    actual = rbf_kernel(torch.zeros(1, 2), torch.full((1, 2), 1e30), bandwidth=1.0)
    assert_close(actual, [[0.0]], "rbf_kernel of points 1e30 apart", "equation (6)")


def test_rbf_kernel_has_a_gradient_even_where_points_coincide():
    x = torch.tensor([[1.0, 2.0], [3.0, 1.0]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    (gradient,) = torch.autograd.grad(rbf_kernel(x, y, bandwidth=2.0).sum(), x)
    slope = math.exp(-5 / 8) / 4
    expected = [[0.0, 0.0], [-2 * slope, slope]]
    assert_close(gradient, expected, "the gradient of rbf_kernel by x, one point of which is y's", "(6)", atol=1e-12)


def test_rbf_kernel_keeps_float32_and_its_arguments():
    x, y = normal(3, 2, dtype=torch.float32), normal(4, 2, seed=1, dtype=torch.float32)
    kernel = rbf_kernel(x, y, bandwidth=1.0)
    assert kernel.dtype == torch.float32, f"rbf_kernel of float32 returned {kernel.dtype}"
    assert_close(x, normal(3, 2, dtype=torch.float32), "x after rbf_kernel", "its value before")
    assert_close(y, normal(4, 2, seed=1, dtype=torch.float32), "y after rbf_kernel", "its value before")


@pytest.mark.given
@pytest.mark.parametrize("function", [rbf_kernel, squared_mmd])
def test_rbf_kernel_and_squared_mmd_refuse_what_is_no_pair_of_clouds(function):
    good = torch.zeros(3, 2)
    for x, y, bandwidth, name in [
        (good[0], good, 1.0, "x must"),
        (good, good[:0], 1.0, "y must"),
        (good * math.nan, good, 1.0, "x must"),
        (good, good[:, :1], 1.0, "y must"),
        (good, good, 0.0, "bandwidth"),
        (good, good, math.inf, "bandwidth"),
    ]:
        with pytest.raises(ValueError, match=name):
            function(x, y, bandwidth=bandwidth)


# squared_mmd


def test_squared_mmd_agrees_with_a_double_loop_that_skips_points_meeting_themselves():
    x, y = normal(5, 3).tolist(), (normal(7, 3, seed=1) + 0.5).tolist()
    expected = (
        sum(slow_kernel(x[i], x[j], 1.2) for i in range(5) for j in range(5) if i != j) / 20
        + sum(slow_kernel(y[i], y[j], 1.2) for i in range(7) for j in range(7) if i != j) / 42
        - 2 * sum(slow_kernel(u, v, 1.2) for u in x for v in y) / 35
    )
    actual = squared_mmd(torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64), bandwidth=1.2)
    assert_close(actual, expected, "squared_mmd of 5 and 7 points, bandwidth 1.2", "equation (7)")


def test_squared_mmd_of_a_cloud_with_its_twin_is_not_zero():
    # Its cross pairs include every point with its own twin: (7) is 2 (mean off the diagonal) - 2 (mean of all).
    x = torch.tensor([[0.0], [2.0], [5.0]], dtype=torch.float64)
    pairs = [math.exp(-d * d / 2) for d in (2, 3, 5)]
    expected = 2 * sum(pairs) / 3 - 2 * (3 + 2 * sum(pairs)) / 9
    assert_close(squared_mmd(x, x.clone(), bandwidth=1.0), expected, "squared_mmd(x, x)", "equation (7)")


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.5, 0.3)])
def test_squared_mmd_has_the_expectation_of_equation_5(shift, scale, generator):
    bandwidth, dim, n = 1.3, 2, 250
    x = torch.randn(n, 6, dim, generator=generator, dtype=torch.float64)
    y = shift + scale * torch.randn(n, 4, dim, generator=generator, dtype=torch.float64)
    draws = torch.stack([squared_mmd(u, v, bandwidth=bandwidth) for u, v in zip(x, y)])

    def expected_kernel(variances, distance):
        """E k(u, v) for independent normals: a convolution of three."""
        wide = bandwidth**2 + variances
        return (bandwidth**2 / wide * math.exp(-(distance**2) / wide)) ** (dim / 2)

    expected = expected_kernel(2, 0) + expected_kernel(2 * scale**2, 0) - 2 * expected_kernel(1 + scale**2, shift)
    # Its deviation is that of 40,000 draws. One estimated from 250 skewed draws would fail too many right solutions.
    sd = {(0.0, 1.0): 0.1461, (1.0, 1.0): 0.2423, (0.5, 0.3): 0.1682}[shift, scale]
    call = f"squared_mmd of N(0, 1) and N({shift}, {scale}^2) in 2 dimensions"
    assert_mean(draws, expected, call, "equation (5), integrated", sd=sd)
    if scale == 1 and not shift:
        assert (draws < 0).any(), (
            "squared_mmd of equal distributions is never negative: so it cannot be zero on average"
        )


def test_squared_mmd_pulls_one_cloud_towards_the_other():
    x, y = normal(6, 2).requires_grad_(), normal(5, 2, seed=1) + 2
    (gradient,) = torch.autograd.grad(squared_mmd(x, y, bandwidth=2.0), x)
    steps = [1e-6, -1e-6]
    move = torch.zeros(6, 2, dtype=torch.float64)
    move[2, 1] = 1
    up, down = (squared_mmd(x.detach() + step * move, y, bandwidth=2.0).item() for step in steps)
    # Central differences of a step of 1e-6: an error of 1e-12 from the curvature and 1e-10 from rounding.
    assert_close(
        gradient[2, 1], (up - down) / 2e-6, "one entry of the gradient of squared_mmd by x", "(7)", rtol=1e-6, atol=1e-8
    )
    drift = gradient.sum(0)
    assert (drift < 0).all(), (
        f"moving all of x towards y should lower squared_mmd; its gradient sums to {drift.tolist()}"
    )


def test_squared_mmd_keeps_float32():
    actual = squared_mmd(normal(3, 2, dtype=torch.float32), normal(4, 2, dtype=torch.float32), bandwidth=1.0)
    assert actual.dtype == torch.float32, f"squared_mmd of float32 returned {actual.dtype}"


@pytest.mark.given
def test_squared_mmd_refuses_a_single_point():
    for x, y, name in [
        (torch.zeros(1, 2), torch.zeros(2, 2), "x must"),
        (torch.zeros(2, 2), torch.zeros(1, 2), "y must"),
    ]:
        with pytest.raises(ValueError, match=name):
            squared_mmd(x, y, bandwidth=1.0)


# log_aggregate_posterior


def test_log_aggregate_posterior_agrees_with_torchs_mixture():
    z, mean, log_variance = 2 * normal(6, 3), normal(4, 3, seed=1), normal(4, 3, seed=2)
    parts = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    expected = MixtureSameFamily(Categorical(torch.ones(4, dtype=torch.float64)), parts).log_prob(z)
    actual = log_aggregate_posterior(z, mean, log_variance)
    assert_close(actual, expected, "log_aggregate_posterior of 6 points and 4 images", "equation (1)")


def test_log_aggregate_posterior_of_one_image_is_its_posterior():
    z, mean, log_variance = normal(5, 2), normal(1, 2, seed=1), normal(1, 2, seed=2)
    expected = Normal(mean, (log_variance / 2).exp()).log_prob(z).sum(-1)
    assert_close(log_aggregate_posterior(z, mean, log_variance), expected, "log_aggregate_posterior, one image", "(1)")


def test_log_aggregate_posterior_is_finite_far_from_every_posterior():
    mean, log_variance = torch.tensor([[0.0], [3.0]], dtype=torch.float64), torch.zeros(2, 1, dtype=torch.float64)
    actual = log_aggregate_posterior(torch.tensor([[1000.0]], dtype=torch.float64), mean, log_variance)
    expected = [-(997.0**2) / 2 - math.log(2 * math.pi) / 2 - math.log(2)]
    assert_close(actual, expected, "log_aggregate_posterior at 1000", "equation (1): half the nearer of two posteriors")


@pytest.mark.given
def test_log_aggregate_posterior_and_split_rate_refuse_what_does_not_match(generator):
    z, mean = torch.zeros(5, 2), torch.zeros(3, 2)
    for bad_z, bad_mean, bad_log_variance, name in [
        (z[0], mean, mean, "z must"),
        (z[:, :1], mean, mean, "z must"),
        (z / 0, mean, mean, "z must"),
        (z, mean[0], mean, "mean"),
        (z, mean, mean[:2], "log_variance"),
        (z, mean, mean / 0, "log_variance"),
    ]:
        with pytest.raises(ValueError, match=name):
            log_aggregate_posterior(bad_z, bad_mean, bad_log_variance)
        if name != "z must":
            with pytest.raises(ValueError, match=name):
                split_rate(bad_mean, bad_log_variance, generator=generator)
    with pytest.raises(ValueError, match="n_samples"):
        split_rate(mean, mean, n_samples=0, generator=generator)


# split_rate


def test_split_rate_finds_log_n_nats_where_no_two_posteriors_overlap(generator):
    mean = 100 * torch.arange(6, dtype=torch.float64)[:, None].expand(6, 2)
    split = split_rate(mean, torch.zeros(6, 2, dtype=torch.float64), n_samples=3, generator=generator)
    assert isinstance(split, RateSplit), f"split_rate returned {type(split).__name__}; expected RateSplit"
    assert_close(split.mutual_information, math.log(6), "the mutual information of 6 posteriors far apart", "(3)")


def test_split_rate_finds_no_information_where_all_posteriors_are_equal(generator):
    mean, log_variance = normal(1, 3).expand(5, 3), normal(1, 3, seed=1).expand(5, 3)
    split = split_rate(mean, log_variance, n_samples=2, generator=generator)
    rate = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(-1).mean()
    # Each draw's log ratio is a difference of equal logarithms: nothing but rounding is left.
    assert_close(split.mutual_information, 0.0, "the mutual information of 5 equal posteriors", "(2)", atol=1e-12)
    assert_close(split.marginal_kl, rate, "the mismatch of 5 equal posteriors", "(2): the whole rate")


def test_split_rate_counts_groups_of_equal_posteriors(generator):
    mean = torch.tensor([[0.0], [0.0], [500.0], [500.0], [900.0], [900.0]], dtype=torch.float64)
    split = split_rate(mean, torch.zeros(6, 1, dtype=torch.float64), n_samples=4, generator=generator)
    assert_close(split.mutual_information, math.log(3), "the mutual information of 3 pairs of equal posteriors", "(2)")


@pytest.mark.parametrize("n_samples", [1, 3])
def test_split_rate_adds_up_to_the_exact_rate(n_samples, generator):
    mean, log_variance = normal(7, 3), normal(7, 3, seed=1)
    split = split_rate(mean, log_variance, n_samples=n_samples, generator=generator)
    total = split.mutual_information + split.marginal_kl
    rate = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(-1).mean()
    assert_close(total, rate, "mutual_information + marginal_kl", "equation (2), the exact average rate")
    ceiling = math.log(7)
    information = split.mutual_information.item()
    assert information <= ceiling + 1e-9, f"the mutual information is {information}; (3) says at most log 7 = {ceiling}"


def test_split_rate_estimates_the_information_of_posteriors_that_overlap(generator):
    mean = torch.tensor([[-1.0], [0.3], [1.5]], dtype=torch.float64)
    log_variance = torch.tensor([[-1.0], [0.2], [-0.5]], dtype=torch.float64)
    # The integral of (2) by the trapezoidal rule, which is exact to rounding for such smooth integrands.
    z = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    density = Normal(mean, (log_variance / 2).exp()).log_prob(z)
    ratio = density - density.logsumexp(0) + math.log(3)
    weight = density.exp() * (z[1] - z[0])
    expected = (weight * ratio).sum(1).mean().item()
    spread = ((weight * ratio**2).sum(1).mean() - expected**2).sqrt().item()
    # Fifty copies of each image change neither part of (2), and spare a loop over draws most of its turns.
    copies, n = (mean.repeat(50, 1), log_variance.repeat(50, 1)), 100 * 50
    actual = split_rate(*copies, n_samples=100, generator=generator).mutual_information.item()
    call = f"the mutual information of three overlapping posteriors, from {3 * n} samples,"
    assert_mean([actual], expected, call, "the integral in (2)", sd=spread / (3 * n) ** 0.5)


def test_split_rate_keeps_float32_and_draws_from_its_generator():
    mean, log_variance = normal(4, 2, dtype=torch.float32), normal(4, 2, seed=1, dtype=torch.float32)
    one, two, other = (split_rate(mean, log_variance, generator=torch.Generator().manual_seed(s)) for s in (5, 5, 6))
    for name in ("mutual_information", "marginal_kl"):
        dtype = getattr(one, name).dtype
        assert dtype == torch.float32, f"split_rate of float32 returned a {name} of {dtype}"
    assert_close(
        one.mutual_information, two.mutual_information, "split_rate again from the same seed", "the first call"
    )
    same = one.mutual_information.item() == other.mutual_information.item()
    assert not same, "split_rate returned the same estimate for another seed: does it draw from `generator`?"


# infovae_loss


def batch():
    """Distortion 20, a rate of 1.5 on two latents."""
    likelihood = torch.tensor([-30.0, -10.0, -20.0], dtype=torch.float64)
    kl = torch.tensor([[1.0, 0.5], [2.0, 0.0], [0.4, 0.6]], dtype=torch.float64)
    return likelihood, kl


@pytest.mark.parametrize(
    ("information", "matching", "expected"),
    [
        (0.0, 1.0, 21.5),  # the negative ELBO, whatever the divergence
        (1.0, 0.0, 20.0),  # an autoencoder
        (1.0, 100.0, 20 + 100 * 0.02),  # MMD-VAE
        (-3.0, 4.0, 20 + 4 * 1.5),  # beta-VAE with beta = 4
        (0.5, 10.0, 20 + 0.5 * 1.5 + 9.5 * 0.02),
    ],
)
def test_infovae_loss_weighs_rate_and_divergence_by_equation_4(information, matching, expected):
    divergence = torch.tensor(0.02, dtype=torch.float64)
    actual = infovae_loss(*batch(), divergence, information=information, matching=matching)
    call = f"infovae_loss of distortion 20, rate 1.5, divergence 0.02, information={information}, matching={matching}"
    assert_close(actual, expected, call, "equation (4)")


def test_infovae_loss_rewards_one_nat_of_information_by_default():
    actual = infovae_loss(*batch(), torch.tensor(-0.3, dtype=torch.float64))
    assert_close(actual, 20 - 0.3, "infovae_loss of distortion 20 and divergence -0.3", "(4) with alpha = lambda = 1")


def test_infovae_loss_has_gradients_by_all_three():
    likelihood, kl = (t.requires_grad_() for t in batch())
    divergence = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    loss = infovae_loss(likelihood, kl, divergence, information=0.25, matching=5.0)
    gradients = torch.autograd.grad(loss, [likelihood, kl, divergence])
    expected = [[-1 / 3] * 3, [[0.25, 0.25]] * 3, 4.25]
    for name, gradient, value in zip(["log_likelihood", "kl", "divergence"], gradients, expected):
        assert_close(gradient, value, f"the gradient of infovae_loss(0.25, 5) by {name}", "equation (4)")


@pytest.mark.given
def test_infovae_loss_refuses_what_does_not_match_and_weights_out_of_bounds():
    likelihood, kl = batch()
    zero = torch.tensor(0.0)
    for bad_likelihood, bad_kl, divergence, name in [
        (likelihood[:, None], kl, zero, "log_likelihood"),
        (likelihood, kl[:2], zero, "kl"),
        (likelihood, kl / 0, zero, "kl"),
        (likelihood, kl[0], zero, "kl"),
        (likelihood, kl, zero[None], "divergence"),
        (likelihood, kl, zero / 0, "divergence"),
    ]:
        with pytest.raises(ValueError, match=name):
            infovae_loss(bad_likelihood, bad_kl, divergence)
    with pytest.raises(ValueError, match="information"):
        infovae_loss(likelihood, kl, zero, information=1.1)
    with pytest.raises(ValueError, match="matching"):
        infovae_loss(likelihood, kl, zero, information=0.5, matching=0.4)


# information_dropout


def test_information_dropout_takes_factors_as_far_from_one_as_scale_says(generator):
    features, scale = torch.tensor([3.0, 0.01], dtype=torch.float64), torch.tensor([0.09, 1.7], dtype=torch.float64)
    factor = information_dropout(features.repeat(N, 1), scale.repeat(N, 1), generator=generator) / features
    negative, middle = (factor <= 0).double().mean().item(), factor[:, 1].median().item()
    assert negative == 0, f"information_dropout changed the sign of {negative:.1%} of the features; (8) of none"
    spread = factor.log().std(dim=0).tolist()
    # A tenth is 28 standard errors of a deviation, and a fifth of the median 18.
    assert all(0.9 < s / a < 1.1 for s, a in zip(spread, (0.09, 1.7))), (
        f"log(z / f) of information_dropout(f, [0.09, 1.7]) has standard deviations of {spread[0]:#.2g} and "
        f"{spread[1]:#.2g}, expected 0.09 and 1.7 by (8)"
    )
    assert 0.8 < middle < 1.25, f"the factors of information_dropout(f, 1.7) have a median of {middle:#.2g}; (8) says 1"


def test_information_dropout_multiplies_by_factors_whose_logarithm_is_normal(generator):
    scale = torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)
    features = torch.tensor([3.0, 0.01, 1e6], dtype=torch.float64)
    z = information_dropout(features.repeat(N, 1), scale.repeat(N, 1), generator=generator)
    positive = bool((z > 0).all())
    assert positive, "information_dropout changed the sign of a feature: the factor of (8) is positive"
    standard = (z / features).log() / scale
    call = "log(z / f) / scale of information_dropout(f, [0.1, 0.5, 2])"
    assert_mean(standard, torch.zeros(3), call, "equation (8): the factor's median is 1", sd=1)
    assert_variance(standard, torch.ones(3), call, "equation (8)")
    for i in range(3):
        assert_distribution(standard[:, i], special.ndtr, f"entry {i} of {call}", "(8): a standard normal law")


def test_information_dropout_draws_each_factor_on_its_own(generator):
    z = information_dropout(torch.ones(4, 50, 3), torch.ones(4, 50, 3), generator=generator)
    shared = z.numel() - len(z.unique())
    # Of 600 float32 normals some 0.01 pairs agree by chance; ten such would need a miracle.
    assert shared < 10, f"{shared} of {z.numel()} features share their noise with another"


def test_information_dropout_can_be_differentiated_by_features_and_scale(generator):
    features, scale = normal(5, 4).requires_grad_(), normal(5, 4, seed=1).exp().requires_grad_()
    z = information_dropout(features, scale, generator=generator)
    by_features, by_scale = torch.autograd.grad(z.sum(), [features, scale], allow_unused=True)
    assert by_scale is not None, "the noisy features do not depend on the scale for autograd: see equation (8)"
    assert_close(by_features, z / features, "dz / dfeatures", "equation (8), the factor itself")
    noise = (z / features).log() / scale
    # The noise is recovered from a logarithm, which for a factor near 1 loses digits.
    assert_close(by_scale, z * noise, "dz / dscale", "equation (8), z times epsilon", rtol=1e-9, atol=1e-9)


def test_information_dropout_leaves_zeros_and_the_quietest_features_alone(generator):
    features = torch.tensor([0.0, 5.0, -2.0], dtype=torch.float64)
    z = information_dropout(features, torch.tensor([1.0, 1e-150, 1e-150], dtype=torch.float64), generator=generator)
    assert_close(z, features, "information_dropout of [0, 5, -2] with scales [1, 1e-150, 1e-150]", "equation (8)")


def test_information_dropout_draws_from_its_generator_alone_and_keeps_float32(generator):
    ones, before = torch.ones(6), torch.get_rng_state()
    first, second = (information_dropout(ones, ones, generator=generator) for _ in range(2))
    again = information_dropout(ones, ones, generator=torch.Generator().manual_seed(20170607))
    assert first.dtype == torch.float32, f"information_dropout of float32 returned {first.dtype}"
    assert_close(again, first, "information_dropout from a new generator of the same seed", "the first call")
    repeated = torch.equal(first, second)
    assert not repeated, "two calls with one generator gave the same noise"
    untouched = torch.equal(before, torch.get_rng_state())
    assert untouched, "the noise came from torch's global generator"
    assert_close(ones, [1.0] * 6, "features and scale after information_dropout", "their values before")


@pytest.mark.given
def test_information_dropout_and_its_costs_refuse_bad_scales(generator):
    ones = torch.ones(2, 3)
    for bad in [-ones, 0 * ones, ones * math.nan, ones / 0]:
        with pytest.raises(ValueError, match="scale"):
            information_dropout(ones, bad, generator=generator)
        with pytest.raises(ValueError, match="scale"):
            lognormal_cost(ones, bad)
        with pytest.raises(ValueError, match="scale"):
            loguniform_cost(bad, max_scale=1e9)
    for function in (lambda f, s: information_dropout(f, s, generator=generator), lognormal_cost):
        with pytest.raises(ValueError, match="scale"):
            function(ones, ones[0])
        with pytest.raises(ValueError, match="features"):
            function(ones / 0, ones)
        with pytest.raises(ValueError, match="features"):
            function(ones[:0], ones[:0])


# lognormal_cost


@pytest.mark.parametrize(("prior_mean", "prior_scale"), [(0.0, 1.0), (-1.5, 0.4), (3.0, 2.5)])
def test_lognormal_cost_agrees_with_torch_in_every_entry(prior_mean, prior_scale):
    features, scale = (2 * normal(5, 4)).exp(), normal(5, 4, seed=1).exp()
    prior = LogNormal(*torch.tensor([prior_mean, prior_scale], dtype=torch.float64))
    expected = kl_divergence(LogNormal(features.log(), scale), prior)
    actual = lognormal_cost(features, scale, prior_mean=prior_mean, prior_scale=prior_scale)
    call = f"lognormal_cost(features, scale, prior_mean={prior_mean}, prior_scale={prior_scale})"
    assert_close(actual, expected, call, "equation (9)", atol=1e-12)


def test_lognormal_cost_is_zero_for_the_prior_itself():
    features, scale = (
        torch.full((2, 3), math.exp(0.7), dtype=torch.float64),
        torch.full((2, 3), 0.3, dtype=torch.float64),
    )
    actual = lognormal_cost(features, scale, prior_mean=0.7, prior_scale=0.3)
    assert_close(
        actual, torch.zeros(2, 3), "lognormal_cost of f = e^0.7, alpha = 0.3 against that prior", "(9)", atol=1e-12
    )


def test_lognormal_cost_has_a_standard_prior_by_default():
    actual = lognormal_cost(torch.tensor([math.e**3], dtype=torch.float64), torch.tensor([2.0], dtype=torch.float64))
    assert_close(actual, [-math.log(2) + (4 + 9) / 2 - 0.5], "lognormal_cost([e^3], [2])", "(9) with mu = 0, sigma = 1")


def test_lognormal_cost_is_finite_for_extreme_features_and_scales():
    features, scale = (torch.tensor(v, dtype=torch.float64) for v in ([1e-150, 1e150, 1.0], [1.0, 1.0, 1e-150]))
    log = 150 * math.log(10)
    expected = [log**2 / 2, log**2 / 2, log - 0.5]
    assert_close(lognormal_cost(features, scale), expected, "lognormal_cost([1e-150, 1e150, 1], [1, 1, 1e-150])", "(9)")


def test_lognormal_cost_keeps_float32_and_passes_gradients():
    features, scale = torch.tensor([2.0], requires_grad=True), torch.tensor([0.5], requires_grad=True)
    cost = lognormal_cost(features, scale)
    assert cost.dtype == torch.float32, f"lognormal_cost of float32 returned {cost.dtype}"
    by_features, by_scale = torch.autograd.grad(cost.sum(), [features, scale])
    assert_close(
        by_features,
        [math.log(2) / 2],
        "d lognormal_cost / dfeatures",
        "(9)",
        rtol=1e-5,
        tolerance="as a float32 has 7 digits",
    )
    assert_close(
        by_scale, [-2 + 0.5], "d lognormal_cost / dscale", "(9)", rtol=1e-5, tolerance="as a float32 has 7 digits"
    )


@pytest.mark.given
def test_lognormal_cost_refuses_features_without_logarithm_and_bad_priors():
    ones = torch.ones(3)
    for bad in [0 * ones, -ones]:
        with pytest.raises(ValueError, match="features"):
            lognormal_cost(bad, ones)
    with pytest.raises(ValueError, match="prior_scale"):
        lognormal_cost(ones, ones, prior_scale=0.0)
    with pytest.raises(ValueError, match="prior_mean"):
        lognormal_cost(ones, ones, prior_mean=math.nan)


# loguniform_cost


def test_loguniform_cost_falls_to_zero_at_the_loudest_noise():
    scale = torch.tensor([[0.7, 0.35], [0.07, 0.7 / math.e]], dtype=torch.float64)
    expected = [[0.0, math.log(2)], [math.log(10), 1.0]]
    assert_close(loguniform_cost(scale, max_scale=0.7), expected, "loguniform_cost, max_scale=0.7", "(10)", atol=1e-12)


def test_loguniform_cost_differs_between_scales_by_the_entropy_of_the_logarithm():
    scale = torch.tensor([1e-150, 0.2, 1.5, 3.0], dtype=torch.float64)
    entropy = Normal(0.0, scale).entropy()
    actual = loguniform_cost(scale, max_scale=3.0)
    assert_close(
        actual, entropy[-1] - entropy, "loguniform_cost, max_scale=3", "(10): entropy below that of 3", atol=1e-12
    )


def test_loguniform_cost_keeps_float32_and_passes_the_gradient():
    scale = torch.tensor([0.5, 0.25], requires_grad=True)
    cost = loguniform_cost(scale, max_scale=1.0)
    assert cost.dtype == torch.float32, f"loguniform_cost of float32 returned {cost.dtype}"
    (gradient,) = torch.autograd.grad(cost.sum(), scale)
    assert_close(gradient, [-2.0, -4.0], "the gradient of loguniform_cost([0.5, 0.25])", "equation (10)", rtol=1e-6)


@pytest.mark.given
def test_loguniform_cost_refuses_noise_above_the_loudest():
    with pytest.raises(ValueError, match="max_scale"):
        loguniform_cost(torch.tensor([0.5, 0.9]), max_scale=0.7)
    with pytest.raises(ValueError, match="max_scale"):
        loguniform_cost(torch.tensor([0.5]), max_scale=math.inf)
