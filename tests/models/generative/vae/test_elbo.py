"""Shared tests of models/generative/vae/elbo: run on the reference, and on the learner's file.

Most are exact: a model that notes every z it is asked about lets us recompute what should have been made of it,
whatever the order of the draws. Tolerances of 1e-9 leave a million ulps of float64 for other summation orders; those of
1e-8 absolute allow for `softplus`, which torch replaces by the identity above 20 (an error of 2e-9). A right
solution fails a check of what is random with a probability of 1e-8: 14 of them, 1.4e-7 together.
"""

import math

import pytest
import torch
from scipy import special
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from mlpath.models.generative.vae.elbo import (
    VAE,
    bernoulli_log_likelihood,
    elbo,
    gaussian_kl,
    gaussian_log_likelihood,
    iwae_bound,
    log_importance_weights,
    reparameterize,
)
from mlpath.testing import assert_close, assert_distribution, assert_mean, assert_variance

N = 40_000
LENGTHS = torch.tensor([2.0, 0.7, 1.3], dtype=torch.float64)  # of the columns of W
NOISE = 0.6  # variance of x given z
BIAS = torch.tensor([1.0, -2.0, 0.5, 3.0, -1.0], dtype=torch.float64)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20131220)


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


class Linear:
    """x | z ~ N(W z + b, NOISE I), 3 latents, 5 features: log p(x) and the posterior are known.

    The columns of W are orthogonal, so the posterior's covariance is diagonal. The encoder gives that posterior, its
    mean moved by `shift` standard deviations and its variance multiplied by `widen`. Every pair (x, z) asked about is noted.
    """

    def __init__(self, shift=0.0, widen=1.0):
        self.weights = torch.linalg.qr(normal(5, 3, seed=7)).Q * LENGTHS
        self.variance = NOISE / (LENGTHS**2 + NOISE)
        self.shift, self.widen, self.asked = shift, widen, []

    def posterior_mean(self, x):
        return (x - BIAS) @ self.weights / (LENGTHS**2 + NOISE)

    def encode(self, x):
        self.mean = (self.posterior_mean(x) + self.shift * self.variance.sqrt()).requires_grad_()
        self.log_variance = (self.widen * self.variance).log().repeat(len(x), 1).requires_grad_()
        return self.mean, self.log_variance

    def log_likelihood(self, x, z):
        self.asked.append((x.expand(*z.shape[:-1], -1).reshape(-1, 5), z.detach().reshape(-1, 3)))
        residual = x - z @ self.weights.T - BIAS
        return -(residual**2 / NOISE + math.log(2 * math.pi * NOISE)).sum(-1) / 2

    def draws(self, x):
        """The z's of each row of `x`, as (samples, batch, latent), in any order of samples."""
        rows, z = (torch.cat(part) for part in zip(*self.asked))
        return torch.stack([z[(rows == row).all(-1)] for row in x], dim=1)

    def log_marginal(self, x):
        covariance = self.weights @ self.weights.T + NOISE * torch.eye(5, dtype=torch.float64)
        return MultivariateNormal(BIAS, covariance).log_prob(x)

    def gap(self):
        """KL(q(z | x) || p(z | x)), the same for each x."""
        return 3 * (self.widen + self.shift**2 - 1 - math.log(self.widen)) / 2


class Deaf:
    """A model of 2 latents whose likelihood does not look at z."""

    def encode(self, x):
        return x[:, :2], x[:, 2:4]

    def log_likelihood(self, x, z):
        return x.sum(-1).expand(z.shape[:-1])


def images(n=4):
    return BIAS + 1.5 * normal(n, 5, seed=3)


# reparameterize


def test_reparameterize_keeps_the_shape_and_the_dtype(generator):
    for shape, dtype in [((7, 3), torch.float64), ((2, 4, 5), torch.float32), ((3,), torch.float64)]:
        z = reparameterize(torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=dtype), generator=generator)
        assert z.shape == shape, f"reparameterize of means of shape {shape} returned shape {tuple(z.shape)}"
        assert z.dtype == dtype, f"reparameterize of {dtype} returned {z.dtype}"


def test_reparameterize_draws_with_the_mean_and_the_variance_it_is_given(generator):
    mean = torch.tensor([-3.0, 0.0, 10.0], dtype=torch.float64)
    log_variance = torch.tensor([-4.0, 0.0, 3.0], dtype=torch.float64)
    z = reparameterize(mean.repeat(N, 1), log_variance.repeat(N, 1), generator=generator)
    standard = (z - mean) / (log_variance / 2).exp()
    call = "(z - mean) / sigma of reparameterize([-3, 0, 10], [-4, 0, 3])"
    assert_mean(standard, torch.zeros(3), call, "equation (2)", sd=1)
    assert_variance(standard, torch.ones(3), call, "equation (2)")
    for i in range(3):
        assert_distribution(standard[:, i], special.ndtr, f"entry {i} of {call}", "(2): a standard normal law")


def test_reparameterize_draws_noise_of_either_sign_and_of_any_size(generator):
    zeros = torch.zeros(200, 200, dtype=torch.float64)
    noise = reparameterize(zeros, zeros, generator=generator)
    low, high = noise.min().item(), noise.max().item()
    # A right solution would need 40,000 normal numbers on one side of 1.5.
    assert low < -1.5 and high > 1.5, (
        f"40,000 draws of reparameterize(0, 0) lie between {low:.2f} and {high:.2f}; (2) says standard normal"
    )


def test_reparameterize_draws_each_entry_on_its_own(generator):
    z = reparameterize(
        torch.zeros(2, N // 2, 3, dtype=torch.float64),
        torch.zeros(2, N // 2, 3, dtype=torch.float64),
        generator=generator,
    )
    # All but a few are different: noise drawn in float32 repeats itself by chance, once in some thousand draws.
    different = len(z.unique()) / z.numel()
    assert different > 0.99, (
        f"{different:.0%} of the noise is different: several samples, rows or latent dimensions share"
    )
    z = z.reshape(-1, 3)
    # Independent standard normal numbers have a product of mean 0 and variance 1.
    call = "the first latent dimension of reparameterize(0, 0) times the second and the third"
    assert_mean(z[:, :1] * z[:, 1:], torch.zeros(2), call, "(2): independent", sd=1)


def test_reparameterize_can_be_differentiated_by_both_parameters(generator):
    mean, log_variance = normal(6, 3).requires_grad_(), normal(6, 3, seed=1).requires_grad_()
    z = reparameterize(mean, log_variance, generator=generator)
    tracked = z.requires_grad
    assert tracked, "the draw does not depend on mean and log_variance for autograd: see equation (2)"
    by_mean, by_log_variance = torch.autograd.grad(z.sum(), [mean, log_variance], allow_unused=True)
    assert by_mean is not None, "the draw does not depend on the mean for autograd: see equation (2)"
    assert by_log_variance is not None, "the draw does not depend on log_variance for autograd: see equation (2)"
    assert_close(by_mean, torch.ones(6, 3), "dz / dmean", "equation (2)")
    assert_close(by_log_variance, (z - mean) / 2, "dz / dlog_variance", "equation (2)")


def test_reparameterize_gives_the_gradient_of_an_expectation(generator):
    mean, log_variance = (torch.full((N,), v, dtype=torch.float64, requires_grad=True) for v in (1.5, -0.8))
    z = reparameterize(mean[:, None], log_variance[:, None], generator=generator)
    # One gradient for each draw, as no draw depends on the parameters of another.
    by_mean, by_log_variance = torch.autograd.grad((z**2).sum(), [mean, log_variance])
    m, v = 1.5, math.exp(-0.8)
    # E z^2 = m^2 + v, so the gradients are 2 m and v; one draw's are 2 z and z (z - m), of the variances used here.
    because = "the derivative of E[z^2] = mean^2 + sigma^2"
    assert_mean(by_mean, 2 * m, "d z^2 / dmean, through reparameterize,", because, sd=2 * v**0.5)
    sd = (m * m * v + 2 * v * v) ** 0.5
    assert_mean(by_log_variance, v, "d z^2 / dlog_variance, through reparameterize,", because, sd=sd)


def test_reparameterize_returns_the_mean_where_the_variance_vanishes(generator):
    mean = normal(5, 2)
    z = reparameterize(mean, torch.full((5, 2), -1000.0, dtype=torch.float64), generator=generator)
    assert_close(z, mean, "reparameterize(mean, -1000)", "equation (2) with sigma = 0")


def test_reparameterize_draws_from_its_generator_alone(generator):
    zeros, before = torch.zeros(3, 2), torch.get_rng_state()
    first, second = (reparameterize(zeros, zeros, generator=generator) for _ in range(2))
    again = reparameterize(zeros, zeros, generator=torch.Generator().manual_seed(20131220))
    assert_close(first, again, "reparameterize with a new generator of the same seed", "the first call")
    repeated = torch.equal(first, second)
    assert not repeated, "two calls with one generator gave the same draws"
    untouched = torch.equal(before, torch.get_rng_state())
    assert untouched, "the draw came from torch's global generator"


def test_reparameterize_leaves_its_arguments_alone(generator):
    mean, log_variance = normal(4, 3), normal(4, 3, seed=1)
    reparameterize(mean, log_variance, generator=generator)
    assert_close(mean, normal(4, 3), "mean after reparameterize(mean, log_variance)", "its value before")
    assert_close(log_variance, normal(4, 3, seed=1), "log_variance after the call", "its value before")


@pytest.mark.given
@pytest.mark.parametrize("function", [gaussian_kl, lambda m, v: reparameterize(m, v, generator=torch.Generator())])
def test_reparameterize_and_gaussian_kl_refuse_what_is_no_gaussian(function):
    bad = torch.tensor([[0.0, torch.nan]])
    for mean, log_variance, name in [
        (bad, torch.zeros(1, 2), "mean"),
        (torch.zeros(1, 2), -bad / 0, "log_variance"),
        (torch.zeros(1, 2), torch.zeros(2, 2), "log_variance"),
        (torch.zeros(0, 2), torch.zeros(0, 2), "mean"),
        (torch.tensor(0.0), torch.tensor(0.0), "mean"),
    ]:
        with pytest.raises(ValueError, match=name):
            function(mean, log_variance)


# gaussian_kl


def test_gaussian_kl_of_one_dimension_by_hand():
    mean, log_variance = (
        torch.tensor([[1.3]], dtype=torch.float64),
        torch.tensor([[math.log(4.7)]], dtype=torch.float64),
    )
    expected = [[(1.69 + 4.7 - 1 - math.log(4.7)) / 2]]
    assert_close(gaussian_kl(mean, log_variance), expected, "gaussian_kl(1.3, log 4.7)", "equation (3)")


def test_gaussian_kl_is_zero_for_the_prior_itself():
    kl = gaussian_kl(torch.zeros(3, 2), torch.zeros(3, 2))
    assert_close(kl, torch.zeros(3, 2), "gaussian_kl(0, 0)", "KL(p || p) = 0")


@pytest.mark.parametrize("shape", [(6, 4), (2, 5, 3), (7,)])
def test_gaussian_kl_agrees_with_torch_in_every_entry(shape):
    mean, log_variance = 3 * normal(*shape), 2 * normal(*shape, seed=1)
    zero = torch.zeros(shape, dtype=torch.float64)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(zero, zero + 1))
    assert_close(gaussian_kl(mean, log_variance), expected, "gaussian_kl(mean, log_variance)", "equation (3)")


def test_gaussian_kl_is_finite_for_tiny_variances_and_large_means():
    mean = torch.tensor([[0.0, 2.0, 1e150]], dtype=torch.float64)
    log_variance = torch.tensor([[-1000.0, -700.0, 0.0]], dtype=torch.float64)
    expected = [[499.5, (4 + 700 - 1) / 2, 5e299]]
    assert_close(
        gaussian_kl(mean, log_variance), expected, "gaussian_kl([0, 2, 1e150], [-1000, -700, 0])", "equation (3)"
    )


def test_gaussian_kl_has_the_gradient_of_equation_3():
    mean, log_variance = normal(4, 3).requires_grad_(), normal(4, 3, seed=1).requires_grad_()
    by_mean, by_log_variance = torch.autograd.grad(gaussian_kl(mean, log_variance).sum(), [mean, log_variance])
    assert_close(by_mean, mean, "d gaussian_kl / dmean", "the derivative of equation (3), which is the mean")
    assert_close(
        by_log_variance, (log_variance.exp() - 1) / 2, "d gaussian_kl / dlog_variance", "equation (3)", atol=1e-15
    )


def test_gaussian_kl_keeps_float32_and_its_arguments():
    mean, log_variance = normal(4, 3, dtype=torch.float32), normal(4, 3, seed=1, dtype=torch.float32)
    kl = gaussian_kl(mean, log_variance)
    assert kl.dtype == torch.float32, f"gaussian_kl of float32 returned {kl.dtype}"
    assert_close(mean, normal(4, 3, dtype=torch.float32), "mean after gaussian_kl", "its value before")
    assert_close(log_variance, normal(4, 3, seed=1, dtype=torch.float32), "log_variance after it", "its value before")


# bernoulli_log_likelihood


def test_bernoulli_log_likelihood_of_three_pixels_by_hand():
    x = torch.tensor([[1.0, 0.0, 1.0]], dtype=torch.float64)
    # Probabilities of a one: 7/10, 3/4, 1/5.
    logits = torch.tensor([[math.log(7 / 3), math.log(3), -math.log(4)]], dtype=torch.float64)
    actual = bernoulli_log_likelihood(x, logits)
    assert_close(actual, [math.log(7 / 10 * 1 / 4 * 1 / 5)], "bernoulli_log_likelihood([1, 0, 1], ...)", "equation (4)")


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_bernoulli_log_likelihood_agrees_with_torch_for_any_number_of_samples(lead):
    x, logits = (normal(4, 6) > 0).double(), 3 * normal(*lead, 4, 6, seed=1)
    expected = Bernoulli(logits=logits).log_prob(x.expand(logits.shape)).sum(-1)
    call = f"bernoulli_log_likelihood of 4 images and logits of shape {(*lead, 4, 6)}"
    assert_close(bernoulli_log_likelihood(x, logits), expected, call, "equation (4), summed over features", atol=1e-8)


def test_bernoulli_log_likelihood_gives_all_images_together_probability_one():
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 5)
    total = bernoulli_log_likelihood(x, 2 * normal(1, 5).expand(32, 5)).exp().sum()
    assert_close(total, 1.0, "the sum of exp(bernoulli_log_likelihood) over all 32 images of 5 pixels", "probability")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bernoulli_log_likelihood_survives_logits_of_a_thousand(dtype):
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=dtype)
    logits = torch.tensor([[1000.0, -1000.0], [1000.0, -40.0]], dtype=dtype, requires_grad=True)
    actual = bernoulli_log_likelihood(x, logits)
    assert actual.dtype == dtype, f"bernoulli_log_likelihood of {dtype} returned {actual.dtype}"
    assert_close(actual, [0.0, -1040.0], "bernoulli_log_likelihood with logits of ±1000", "equation (4)", atol=1e-8)
    (gradient,) = torch.autograd.grad(actual.sum(), logits)
    expected = [[0.0, 0.0], [-1.0, 1.0]]
    assert_close(gradient, expected, "its gradient by the logits", "x - sigmoid(a)", atol=1e-8)


def test_bernoulli_log_likelihood_has_the_gradient_x_minus_probability():
    x, logits = (normal(3, 5) > 0).double(), normal(2, 3, 5, seed=1).requires_grad_()
    (gradient,) = torch.autograd.grad(bernoulli_log_likelihood(x, logits).sum(), logits)
    assert_close(gradient, x - logits.sigmoid(), "the gradient by the logits", "x - sigmoid(a), from (4)", atol=1e-8)


def test_bernoulli_log_likelihood_is_linear_in_a_grey_level():
    logits = torch.tensor([[0.7]], dtype=torch.float64)
    black, white = -math.log1p(math.exp(0.7)), -math.log1p(math.exp(-0.7))
    actual = bernoulli_log_likelihood(torch.tensor([[0.25]], dtype=torch.float64), logits)
    assert_close(actual, [0.75 * black + 0.25 * white], "bernoulli_log_likelihood([[0.25]], [[0.7]])", "equation (4)")


@pytest.mark.given
def test_bernoulli_log_likelihood_refuses_what_is_no_image():
    x, logits = torch.ones(2, 3), torch.zeros(2, 3)
    for bad_x, bad_logits, name in [
        (2 * x, logits, "x must"),
        (-x, logits, "x must"),
        (x * torch.nan, logits, "x must"),
        (x[0], logits, "x must"),
        (x[:0], logits[:0], "x must"),
        (x, logits.T, "logits"),
        (x, logits / 0, "logits"),
    ]:
        with pytest.raises(ValueError, match=name):
            bernoulli_log_likelihood(bad_x, bad_logits)


# gaussian_log_likelihood


def test_gaussian_log_likelihood_of_two_features_by_hand():
    x, mean = torch.tensor([[2.7, -0.4]], dtype=torch.float64), torch.tensor([[1.1, 0.9]], dtype=torch.float64)
    log_variance = torch.tensor([[math.log(2.3), math.log(0.6)]], dtype=torch.float64)
    actual = gaussian_log_likelihood(x, mean, log_variance)
    expected = [-(2 * math.log(2 * math.pi) + math.log(2.3 * 0.6) + 1.6**2 / 2.3 + 1.3**2 / 0.6) / 2]
    assert_close(actual, expected, "gaussian_log_likelihood([2.7, -0.4], [1.1, 0.9], log [2.3, 0.6])", "equation (5)")


@pytest.mark.parametrize(
    ("x_shape", "mean_shape", "variance_shape"),
    [
        ((4, 6), (4, 6), (4, 6)),
        ((4, 6), (3, 4, 6), (6,)),
        ((4, 6), (3, 4, 6), ()),
        ((3, 4, 6), (4, 6), (4, 6)),
        ((4, 6), (4, 6), (3, 4, 6)),
        ((5, 6), (5, 6), (5, 1)),
    ],
)
def test_gaussian_log_likelihood_agrees_with_torch_in_all_broadcasts(x_shape, mean_shape, variance_shape):
    x, mean, log_variance = 2 * normal(*x_shape), normal(*mean_shape, seed=1), normal(*variance_shape, seed=2)
    expected = Normal(mean, (log_variance / 2).exp()).log_prob(x).sum(-1)
    call = f"gaussian_log_likelihood of shapes {x_shape}, {mean_shape} and {variance_shape}"
    assert_close(gaussian_log_likelihood(x, mean, log_variance), expected, call, "equation (5), summed over features")


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_gaussian_log_likelihood_does_not_mind_the_unit(scale):
    x, mean = normal(3, 4), normal(3, 4, seed=1)
    unit = torch.tensor(2 * math.log(scale), dtype=torch.float64)
    expected = gaussian_log_likelihood(x, mean, 0 * unit) - 4 * math.log(scale)
    actual = gaussian_log_likelihood(scale * x, scale * mean, unit)
    # exp of a number near 691 magnifies its rounding by that factor; hence 1e-9 and no less.
    assert_close(actual, expected, f"gaussian_log_likelihood in units of {scale:g}", "equation (5)")


def test_gaussian_log_likelihood_is_greatest_at_the_empirical_variance():
    x, mean = normal(1, 50), normal(1, 50, seed=1)
    log_variance = (x - mean).square().mean().log().requires_grad_()
    (gradient,) = torch.autograd.grad(gaussian_log_likelihood(x, mean, log_variance).sum(), log_variance)
    assert_close(gradient, 0.0, "its gradient by one variance for 50 features, at their mean square", "(5)", atol=1e-10)


def test_gaussian_log_likelihood_keeps_float32_and_its_arguments():
    x, mean = normal(3, 4, dtype=torch.float32), normal(3, 4, seed=1, dtype=torch.float32)
    actual = gaussian_log_likelihood(x, mean, torch.zeros(4))
    assert actual.dtype == torch.float32, f"gaussian_log_likelihood of float32 returned {actual.dtype}"
    assert_close(x, normal(3, 4, dtype=torch.float32), "x after gaussian_log_likelihood", "its value before")
    assert_close(mean, normal(3, 4, seed=1, dtype=torch.float32), "mean after it", "its value before")


@pytest.mark.given
def test_gaussian_log_likelihood_refuses_what_is_not_finite_or_no_row():
    x = torch.ones(2, 3)
    for bad, name in [
        ((x / 0, x, x), "x must"),
        ((x, x * torch.nan, x), "mean"),
        ((x, x, x / 0), "log_variance"),
        ((x[0, 0], x, x), "x must"),
        ((x[:0], x[:0], x[:0]), "x must"),
    ]:
        with pytest.raises(ValueError, match=name):
            gaussian_log_likelihood(*bad)


# elbo


@pytest.mark.parametrize("n_samples", [1, 3])
def test_elbo_is_one_number_for_each_image_the_divergence_summed_over_latents(n_samples, generator):
    x = normal(7, 5)
    expected = x.sum(-1) - (x[:, :2] ** 2 + x[:, 2:4].exp() - 1 - x[:, 2:4]).sum(-1) / 2
    actual = elbo(Deaf(), x, n_samples=n_samples, generator=generator)
    assert_close(actual, expected, "elbo of a model whose likelihood ignores z", "log p(x | z) minus the sum of (3)")


@pytest.mark.parametrize("n_samples", [1, 6])
def test_elbo_averages_the_likelihood_of_its_own_draws(n_samples, generator):
    model, x = Linear(shift=0.5, widen=2.0), images()
    actual = elbo(model, x, n_samples=n_samples, generator=generator)
    z = model.draws(x)
    assert z.shape == (n_samples, 4, 3), f"elbo(n_samples={n_samples}) tried {len(z)} draws for an image"
    assert len(z.unique()) > 0.95 * z.numel(), "elbo used one noise for several samples or images"
    kl = kl_divergence(Normal(model.mean, (model.log_variance / 2).exp()), Normal(0.0, 1.0)).sum(-1)
    expected = model.log_likelihood(x, z).mean(0) - kl
    assert_close(actual, expected, f"elbo(n_samples={n_samples}) of a linear model", "equation (1), over its own draws")


@pytest.mark.parametrize(("shift", "widen"), [(0.0, 1.0), (0.7, 2.5)])
def test_elbo_lies_below_the_log_likelihood_by_the_divergence_from_the_true_posterior(shift, widen, generator):
    model, x, n = Linear(shift, widen), images(), 10_000
    # Many rows of few draws, so that a loop over draws is as quick as any.
    actual = elbo(model, x.repeat(n // 4, 1), n_samples=4, generator=generator).reshape(-1, 4)
    expected = model.log_marginal(x) - model.gap()
    # log p(x | z) is a quadratic in the normal d = z - mean: -(r'r - 2 r'W d + d'W'W d) / 2 NOISE, hence its variance.
    variance, power = model.widen * model.variance, LENGTHS**2
    pull = (x - BIAS - model.mean.detach()[:4] @ model.weights.T) @ model.weights
    sd = ((pull**2 * variance).sum(-1) + (power * variance).square().sum() / 2).sqrt() / NOISE
    call = f"elbo(n_samples=4) with an encoder off by {shift} sd and {widen} times too wide"
    assert_mean(actual, expected, call, "equation (1): log p(x) - KL(q || posterior)", sd=sd / 4**0.5)


def test_elbo_passes_the_gradient_through_the_draw_and_the_divergence(generator):
    model, x = Linear(shift=0.5, widen=2.0), images()
    bound = elbo(model, x, n_samples=3, generator=generator)
    by_mean, by_log_variance = torch.autograd.grad(bound.sum(), [model.mean, model.log_variance], allow_unused=True)
    assert by_mean is not None, "elbo has no gradient by the encoder's mean"
    assert by_log_variance is not None, "elbo has no gradient by the encoder's log variance"
    z, mean, log_variance = model.draws(x), model.mean.detach(), model.log_variance.detach()
    by_z = (x - z @ model.weights.T - BIAS) @ model.weights / NOISE
    assert_close(by_mean, by_z.mean(0) - mean, "d elbo / dmean", "(1), (2) and (3)")
    expected = (by_z * (z - mean) / 2).mean(0) - (log_variance.exp() - 1) / 2
    assert_close(by_log_variance, expected, "d elbo / dlog_variance", "(1), (2) and (3)")


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_elbo_of_a_vae_has_a_gradient_by_every_parameter(likelihood, generator):
    model = VAE(6, 2, 8, likelihood=likelihood, generator=generator)
    bound = elbo(model, (normal(5, 6) > 0).float(), generator=generator)
    assert bound.dtype == torch.float32, f"elbo of a float32 model returned {bound.dtype}"
    bound.sum().backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            moved = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
            assert moved, f"elbo of a {likelihood} VAE does not depend on {name} for autograd"


@pytest.mark.given
@pytest.mark.parametrize("bound", [elbo, log_importance_weights])
def test_elbo_and_log_importance_weights_refuse_what_is_no_batch(bound, generator):
    x = torch.ones(2, 4)
    for bad in [x[0], x[:0], x * torch.nan]:
        with pytest.raises(ValueError, match="x must"):
            bound(Deaf(), bad, n_samples=2, generator=generator)
    with pytest.raises(ValueError, match="n_samples"):
        bound(Deaf(), x, n_samples=0, generator=generator)


# log_importance_weights


def test_log_importance_weights_are_all_log_p_of_x_at_the_true_posterior(generator):
    model, x = Linear(), images()
    actual = log_importance_weights(model, x, n_samples=5, generator=generator)
    expected = model.log_marginal(x).expand(5, 4)
    # The prior's two constants may be float32, with roundings of 6e-8.
    call = "log_importance_weights under the true posterior"
    assert_close(actual, expected, call, "equation (6): each weight is p(x)", rtol=1e-6)


def test_log_importance_weights_weigh_each_draw_by_equation_6(generator):
    model, x = Linear(shift=0.5, widen=2.0), images()
    actual = log_importance_weights(model, x, n_samples=6, generator=generator)
    z = model.draws(x)
    assert len(z.unique()) > 6 * 4 * 3 - 3, "log_importance_weights used one noise for several samples or images"
    posterior = Normal(model.mean, (model.log_variance / 2).exp()).log_prob(z).sum(-1)
    expected = model.log_likelihood(x, z) + Normal(0.0, 1.0).log_prob(z).sum(-1) - posterior
    # Sorted, because which draw comes first is nobody's business.
    call = "log_importance_weights of a linear model, sorted"
    assert_close(
        actual.sort(0).values, expected.sort(0).values, call, "equation (6), for the draws it tried", rtol=1e-6
    )


def test_log_importance_weights_average_to_the_likelihood(generator):
    shift, widen, n = 0.3, 1.6, 20_000
    model, x = Linear(shift, widen), images()
    weights = log_importance_weights(model, x.repeat(n // 4, 1), n_samples=4, generator=generator)
    ratio = (weights.reshape(-1, 4) - model.log_marginal(x)).exp()
    # The weight over p(x) is posterior / q, whose second moment is that of three normals.
    second = (widen / (2 * widen - 1) ** 0.5 * math.exp(shift**2 / (2 * widen - 1))) ** 3
    call = "exp(log_importance_weights) / p(x)"
    assert_mean(ratio, torch.ones(4), call, "equation (6): unbiased", sd=(second - 1) ** 0.5)


def test_log_importance_weights_pass_the_gradient_to_the_encoder(generator):
    model, x = Linear(shift=0.5, widen=2.0), images()
    weights = log_importance_weights(model, x, n_samples=3, generator=generator)
    by_mean, by_log_variance = torch.autograd.grad(weights.sum(), [model.mean, model.log_variance], allow_unused=True)
    assert by_mean is not None, "the weights have no gradient by the encoder's mean"
    assert by_log_variance is not None, "the weights have no gradient by the encoder's log variance"
    z, mean = model.draws(x), model.mean.detach()
    by_z = (x - z @ model.weights.T - BIAS) @ model.weights / NOISE - z
    # log q(z | x) at a reparameterised z is -(eps^2 + log variance) / 2 and a constant: of the mean it knows nothing.
    assert_close(by_mean, by_z.sum(0), "d log weights / dmean", "the chain rule through (2) and (6)")
    expected = (by_z * (z - mean) / 2 + 0.5).sum(0)
    assert_close(by_log_variance, expected, "d log weights / dlog_variance", "the chain rule through (2) and (6)")


# iwae_bound


def test_iwae_bound_is_the_logarithm_of_the_mean_weight_of_each_image():
    weights = torch.tensor([[1.0, 8.0], [3.0, 8.0], [5.0, 2.0]], dtype=torch.float64)
    assert_close(iwae_bound(weights.log()), [math.log(3), math.log(6)], "iwae_bound(log [1 3 5], log [8 8 2])", "(7)")


def test_iwae_bound_of_one_draw_is_its_log_weight():
    weights = normal(1, 6)
    assert_close(iwae_bound(weights), weights[0], "iwae_bound of one draw", "equation (7) with K = 1")


@pytest.mark.parametrize("offset", [-1e5, 1e5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_iwae_bound_exponentiates_differences_only(offset, dtype):
    """Of one image, not of another, whose weights may all be far below."""
    weights = torch.tensor([[0.0, -1500.0], [-2000.0, -1503.0], [2.0, -1501.0], [1.0, -1500.5]], dtype=dtype) + offset
    of_last = -1500 + math.log((1 + math.exp(-3) + math.exp(-1) + math.exp(-0.5)) / 4)
    expected = [offset + math.log((1 + math.e**2 + math.e) / 4), offset + of_last]
    actual = iwae_bound(weights)
    assert actual.dtype == dtype, f"iwae_bound of {dtype} returned {actual.dtype}"
    # 1e5 has a spacing of 0.008 in float32.
    rtol = 1e-9 if dtype == torch.float64 else 3e-7
    assert_close(
        actual, expected, f"iwae_bound(([0, -2000, 2, 1], [-1500, -1503, ...]) + {offset:g})", "equation (7)", rtol=rtol
    )


def test_iwae_bound_counts_impossible_draws_as_weights_of_zero():
    weights = torch.tensor([[-torch.inf, -torch.inf], [math.log(6), -torch.inf]], dtype=torch.float64)
    expected = [math.log(3), -math.inf]
    assert_close(iwae_bound(weights), expected, "iwae_bound([-inf, log 6], [-inf, -inf])", "equation (7)")


def test_iwae_bound_weighs_the_gradient_by_the_normalised_weights():
    weights = normal(4, 3).requires_grad_()
    (gradient,) = torch.autograd.grad(iwae_bound(weights).sum(), weights)
    assert_close(
        gradient, weights.softmax(0), "the gradient of iwae_bound by the log weights", "w / sum of w, from (7)"
    )


def test_iwae_bound_climbs_from_the_elbo_towards_the_log_likelihood(generator):
    model, x, n = Linear(shift=0.8, widen=2.0), images(1), 4_000
    truth = model.log_marginal(x).item()
    # The log weights less log p(x) depend on the noise alone. The mean and the deviation of their bound, from IWAE of
    # this model, are those of ten million draws of the noise, good to 0.03 of the standard errors here. From -1.42 for one
    # sample, which is the ELBO, they climb towards 0.
    for n_samples, gap, sd in ((2, -0.6614, 1.412), (8, -0.1368, 0.5595), (64, -0.0152, 0.1761)):
        weights = log_importance_weights(model, x.repeat(n, 1), n_samples=n_samples, generator=generator)
        call = f"iwae_bound of {n_samples} draws less log p(x)"
        because = f"(7): the ELBO is at {-model.gap():.2f}, log p(x) at 0, and this bound at"
        assert_mean(iwae_bound(weights) - truth, gap, call, because, sd=sd)


@pytest.mark.given
def test_iwae_bound_refuses_what_is_no_matrix_of_log_weights():
    for bad in [torch.zeros(3), torch.zeros(0, 2), torch.tensor([[torch.nan]]), torch.tensor([[torch.inf]])]:
        with pytest.raises(ValueError, match="log_weights"):
            iwae_bound(bad)


@pytest.mark.given
def test_elbo_of_the_given_vae_refuses_bad_sizes_and_likelihoods(generator):
    with pytest.raises(ValueError, match="n_latents"):
        VAE(4, 0, 3, generator=generator)
    with pytest.raises(ValueError, match="likelihood"):
        VAE(4, 2, 3, likelihood="poisson", generator=generator)


@pytest.mark.given
@pytest.mark.parametrize("n_latents", [1, 3])
def test_elbo_of_the_given_vae_rests_on_means_then_log_variances_of_any_size(n_latents, generator):
    model = VAE(1, n_latents, 1, generator=generator)
    x = torch.ones(4, 1)
    both = torch.cat(model.encode(x), dim=-1)
    assert_close(both, model.encoder(x), "VAE.encode, side by side", "the encoder's outputs")
    shape = tuple(model.decode(torch.zeros(2, 4, n_latents)).shape)
    assert shape == (2, 4, 1), f"VAE.decode of shape (2, 4, {n_latents}) returned {shape}; expected (2, 4, 1)"


@pytest.mark.given
def test_elbo_of_the_given_vae_starts_from_weights_that_its_generator_draws():
    twins = [VAE(4, 2, 3, generator=torch.Generator().manual_seed(5)) for _ in range(2)]
    for (name, first), second in zip(twins[0].named_parameters(), twins[1].parameters()):
        assert_close(first, second, f"{name} of a second VAE from the same seed", "the first VAE")
        if "bias" in name:
            assert_close(first, torch.zeros_like(first), name, "a start without bias")
