"""Shared tests of models/generative/ddpm/bound: run on the reference, and on the learner's file.

Terms are compared with closed forms in float64, to 1e-9. Where noise is drawn, independent numbers are checked by what a
right solution fails with a probability of 1e-8 each, whatever the order of its random numbers: 32 checks, 3.2e-7 together.
"""

import math

import pytest
import torch

from mlpath.models.generative.ddpm.bound import (
    History,
    bin_log_likelihood,
    draw_steps,
    gaussian_kl,
    prior_term,
    record,
    step_probabilities,
    step_term,
    variational_bound,
)
from mlpath.models.generative.ddpm.forward import Schedule
from mlpath.testing import assert_close, assert_frequencies, assert_mean, assert_variance

BETA = [0.03, 0.3, 0.002, 0.6, 0.11]
SHAPE = (5, 2, 3, 7)


def by_hand(beta):
    kept = [1.0]
    for b in beta:
        kept.append(kept[-1] * (1 - b))
    return Schedule(torch.tensor([0.0, *beta], dtype=torch.float64), torch.tensor(kept, dtype=torch.float64))


def posterior(schedule, t):
    """Coefficients of x_0 and x_t in the posterior's mean, and its variance."""
    beta, before, after = schedule.beta[t].item(), schedule.alpha_bar[t - 1].item(), schedule.alpha_bar[t].item()
    return (
        math.sqrt(before) * beta / (1 - after),
        math.sqrt(1 - beta) * (1 - before) / (1 - after),
        (1 - before) / (1 - after) * beta,
    )


def kl(m1, s1, m2, s2):
    """Equation (2) of means and variances."""
    return (s1 / s2 - 1 - math.log(s1 / s2) + (m1 - m2) ** 2 / s2) / 2


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def grey(*shape, n_levels=17, seed=0):
    levels = torch.randint(n_levels, shape, generator=torch.Generator().manual_seed(seed))
    return 2 * levels.double() / (n_levels - 1) - 1


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def all_levels(n_levels):
    return torch.linspace(-1, 1, n_levels, dtype=torch.float64).reshape(-1, 1, 1, 1)


def cell(value, like=None):
    tensor = torch.tensor(value, dtype=torch.float64)
    return tensor.reshape(1, 1, 1, 1) if like is None else torch.full_like(like, value)


def test_gaussian_kl_of_one_coordinate():
    cases = [
        (0.0, 1.0, 0.0, 1.0),
        (1.0, 2.0, 0.0, 1.0),
        (0.0, 1.0, 1.0, 2.0),
        (-3.0, 0.01, 2.0, 4.0),
        (5.0, 9.0, 4.9, 9.1),
    ]
    m1, s1, m2, s2 = torch.tensor(cases, dtype=torch.float64).T
    got = gaussian_kl(m1, s1.log(), m2, s2.log())
    assert_close(got, [kl(*case) for case in cases], "gaussian_kl(m1, log s1, m2, log s2)", "equation (2)", atol=1e-15)


def test_gaussian_kl_keeps_the_shape_and_agrees_with_torch():
    m1, m2, l1, l2 = (normal(3, 2, 4, 5, seed=i) for i in range(4))
    one = torch.distributions.Normal(m1, (l1 / 2).exp())
    other = torch.distributions.Normal(m2, (l2 / 2).exp())
    expected = torch.distributions.kl_divergence(one, other)
    assert_close(gaussian_kl(m1, l1, m2, l2), expected, "gaussian_kl of (3, 2, 4, 5)", "torch.distributions")


def test_gaussian_kl_is_right_for_tiny_and_huge_variances():
    logs = torch.tensor([-600.0, -600.0, 600.0, -300.0], dtype=torch.float64)
    others = torch.tensor([-601.0, 100.0, 600.0, -300.0], dtype=torch.float64)
    distance = torch.tensor([0.0, 0.0, 1e130, 1e-65], dtype=torch.float64)
    expected = [(math.e - 2) / 2, 349.5, 0.5e260 / math.exp(600), 0.5e-130 * math.exp(300)]
    got = gaussian_kl(distance, logs, torch.zeros(4).double(), others)
    assert_close(got, expected, "gaussian_kl with log variances up to 600", "equation (2)")


def test_gaussian_kl_of_almost_equal_gaussians_in_float32():
    """For a log ratio of r it is r^2 / 4 (1 + r / 3 + ...) = 2.5e-7: less than float32's rounding of r - 1 + 1."""
    r = torch.tensor([1e-3, -1e-3])
    zero = torch.zeros(2)
    got = gaussian_kl(zero, r, zero, zero)
    assert got.dtype == torch.float32, f"gaussian_kl of float32 returned {got.dtype}"
    assert_close(
        got,
        [2.5e-7, 2.5e-7],
        "gaussian_kl of variances that differ by 0.1 %",
        "(2) = r^2 / 4",
        rtol=0.01,
        tolerance="by r / 3 and float32",
    )


@pytest.mark.parametrize("n_levels", [2, 3, 17, 256])
@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 0.3), (0.93, 0.002), (-1.7, 0.4), (0.2, 50.0), (6.0, 1.0)])
def test_bin_log_likelihood_adds_up_to_one_over_the_levels(n_levels, mean, deviation):
    x = all_levels(n_levels)
    got = bin_log_likelihood(x, cell(mean, x), cell(deviation, x), n_levels=n_levels)
    call = f"the probabilities of {n_levels} levels under N({mean}, {deviation}^2)"
    assert_close(got.exp().sum(), 1.0, call, "(3): the bins cover the line")


def test_bin_log_likelihood_is_the_probability_of_the_bin():
    x, mean, deviation = grey(*SHAPE), normal(*SHAPE, seed=1), 0.2 + torch.rand(SHAPE, generator=seeded(2)).double()
    got = bin_log_likelihood(x, mean, deviation, n_levels=17)

    def below(z):
        return (1 + torch.erf((z - mean) / deviation / math.sqrt(2))) / 2

    low = torch.where(x < -0.99, 0.0, below(x - 1 / 16))
    high = torch.where(x > 0.99, 1.0, below(x + 1 / 16))
    # Where the bin lies far to the right, this difference of numbers near 1 has lost digits: compare the probabilities.
    assert_close(got.exp(), high - low, "exp of bin_log_likelihood", "equation (3)", rtol=1e-9, atol=1e-14)


EXACT = [  # level, mean, deviation, number of levels, log P with 60 digits (mpmath)
    (0.5, 0.0, 0.01, 17, -961.72920191435775),
    (-0.5, 0.0, 0.01, 17, -961.72920191435775),
    (0.75, -0.75, 0.002, 9, -236335.57700247843),
    (1.0, 0.0, 0.001, 17, -439460.88715642881),
    (-1.0, 0.9, 0.001, 17, -1688211.5601000604),
    (0.0, 0.0, 0.001, 17, 0.0),
    (0.25, 0.25, 100.0, 9, -6.9104033407292943),
    (0.125, -0.3, 3000.0, 17, -11.004747652641816),
    (-1.0, -3.0, 0.5, 3, -2.8665161296376359e-7),
    (1.0, 3.0, 0.5, 3, -2.8665161296376359e-7),
    (0.0, 5.0, 0.05, 5, -4517.9729261974521),
]


@pytest.mark.parametrize(("level", "mean", "deviation", "n_levels", "expected"), EXACT)
def test_bin_log_likelihood_is_right_far_from_the_mean(level, mean, deviation, n_levels, expected):
    got = bin_log_likelihood(cell(level), cell(mean), cell(deviation), n_levels=n_levels).item()
    call = f"bin_log_likelihood({level}, {mean}, {deviation}, n_levels={n_levels})"
    # A bin of width 4e-5 deviations is a difference of logarithms that agree to five digits: 1e-9 is what is left.
    assert_close(got, expected, call, "equation (4), computed with 60 digits", rtol=1e-8, atol=1e-12)


def test_bin_log_likelihood_is_symmetric():
    x, mean, deviation = grey(*SHAPE), 3 * normal(*SHAPE, seed=1), cell(0.05)
    right = bin_log_likelihood(x, mean, deviation, n_levels=17)
    left = bin_log_likelihood(-x, -mean, deviation, n_levels=17)
    assert_close(right, left, "bin_log_likelihood(x, m)", "that of (-x, -m): (3) is symmetric", rtol=1e-9, atol=1e-12)


def test_bin_log_likelihood_takes_float32_images_and_passes_finite_gradients():
    x = all_levels(17).float()
    mean = torch.full_like(x, 0.7).requires_grad_()
    got = bin_log_likelihood(x, mean, torch.full((1, 1, 1, 1), 0.05), n_levels=17)
    assert got.dtype == torch.float32, f"bin_log_likelihood of float32 images returned {got.dtype}"
    why = "as edges of bins are off by 1e-7 / 0.05 deviations, times a distance of up to 34 deviations"
    exact = bin_log_likelihood(all_levels(17), cell(0.7, all_levels(17)), cell(0.05), n_levels=17)
    assert_close(got, exact, "bin_log_likelihood in float32", "that in float64", rtol=1e-4, atol=1e-6, tolerance=why)
    got.sum().backward()
    assert mean.grad is not None and mean.grad.isfinite().all(), (
        f"the gradient for the mean is {mean.grad}; it is finite"
    )


@pytest.mark.given
def test_bin_log_likelihood_refuses_what_is_no_image():
    x = torch.zeros(2, 1, 2, 3)
    with pytest.raises(ValueError, match="images and mean"):
        bin_log_likelihood(x, x[:1], x + 1, n_levels=3)
    with pytest.raises(ValueError, match="images must"):
        bin_log_likelihood(x + 2, x, x + 1, n_levels=3)
    for deviation in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="deviation"):
            bin_log_likelihood(x, x, x + deviation, n_levels=3)
    with pytest.raises(ValueError, match="n_levels"):
        bin_log_likelihood(x, x, x + 1, n_levels=1)


def test_prior_term_compares_the_end_with_the_standard_normal():
    x, schedule = grey(*SHAPE), by_hand(BETA)
    kept = schedule.alpha_bar[-1].item()
    expected = [sum(kl(math.sqrt(kept) * p, 1 - kept, 0.0, 1.0) for p in image.flatten().tolist()) for image in x]
    assert_close(
        prior_term(x, schedule), expected, "prior_term(clean, schedule)", "L_T of (1), by (2), summed over pixels"
    )


def test_prior_term_is_next_to_nothing_where_nothing_is_left():
    """With alpha_bar = 1e-9 it is 1e-9 x^2 / 2 a pixel: what the variance adds is of the order of alpha_bar^2."""
    x = grey(2, 1, 3, 5).float()
    got = prior_term(x, by_hand([0.999, 0.999, 0.999]))
    assert got.dtype == torch.float32, f"prior_term of float32 images returned {got.dtype}"
    expected = 0.5e-9 * x.double().square().flatten(1).sum(dim=1)
    call, why = "prior_term after three steps of 0.999", "as a float32 sum has 5 digits or more"
    assert_close(got, expected, call, "alpha_bar x^2 / 2", rtol=1e-4, tolerance=why)


@pytest.mark.given
def test_prior_term_and_variational_bound_need_images():
    schedule = by_hand(BETA)
    with pytest.raises(ValueError, match="clean"):
        prior_term(torch.zeros(8, 8), schedule)
    with pytest.raises(ValueError, match="clean"):
        variational_bound(
            lambda x, t: x, torch.zeros(8, 8), schedule, variance=schedule.beta, n_levels=3, generator=seeded()
        )


def expected_term(schedule, step, guess, clean, noisy, variance, n_levels):
    of_clean, of_noisy, small = posterior(schedule, step)
    if step == 1:
        value = bin_log_likelihood(clean[None], guess[None], cell(math.sqrt(variance)), n_levels=n_levels)
        return -value.sum().item()
    triples = zip(clean.flatten().tolist(), guess.flatten().tolist(), noisy.flatten().tolist())
    return sum(kl(of_clean * x + of_noisy * z, small, of_clean * g + of_noisy * z, variance) for x, g, z in triples)


@pytest.mark.parametrize("t", [[1, 2, 3, 4, 5], [5, 1, 1, 2, 4], [2, 2, 3, 3, 2], [1, 1, 1, 1, 1]])
def test_step_term_takes_each_image_at_its_own_step(t):
    schedule, variance = by_hand(BETA), torch.tensor([0.0, 0.04, 0.2, 0.0019, 0.4, 0.3], dtype=torch.float64)
    clean, guess, noisy = grey(*SHAPE), 0.3 * normal(*SHAPE, seed=1), normal(*SHAPE, seed=2)
    got = step_term(guess, clean, noisy, torch.tensor(t), schedule, variance=variance, n_levels=17)
    expected = [
        expected_term(schedule, s, g, x, z, variance[s].item(), 17) for s, g, x, z in zip(t, guess, clean, noisy)
    ]
    assert_close(got, expected, f"step_term at t={t}", "L_{t-1} of (1): KL by (2), and at t=1 the bins of (3)")


def test_step_term_of_a_perfect_guess_is_what_the_variances_cost():
    schedule, clean, noisy = by_hand(BETA), grey(4, 2, 3, 7), normal(4, 2, 3, 7)
    t = torch.tensor([2, 3, 4, 5])
    got = step_term(clean, clean, noisy, t, schedule, variance=schedule.beta, n_levels=17)
    expected = [42 * kl(0, posterior(schedule, s)[2], 0, BETA[s - 1]) for s in t.tolist()]
    assert_close(got, expected, "step_term of a perfect guess with variance beta", "(2) with equal means")
    small = torch.tensor([0.0, 1.0] + [posterior(schedule, s)[2] for s in (2, 3, 4, 5)], dtype=torch.float64)
    got = step_term(clean, clean, noisy, t, schedule, variance=small, n_levels=17)
    assert_close(got, torch.zeros(4), "step_term of a perfect guess with the posterior's variance", "0", atol=1e-9)


def test_step_term_passes_finite_gradients_to_every_guess():
    schedule, clean, noisy = by_hand(BETA), grey(*SHAPE), normal(*SHAPE)
    guess = torch.zeros(SHAPE, dtype=torch.float64, requires_grad=True)
    t = torch.tensor([1, 2, 1, 5, 3])
    step_term(guess, clean, noisy, t, schedule, variance=schedule.beta, n_levels=17).sum().backward()
    assert guess.grad is not None, "step_term passed no gradient to the guesses"
    assert guess.grad.isfinite().all(), "the gradient of step_term is NaN or infinite in a batch with t = 1 and others"
    for i in (1, 3, 4):
        s = t[i].item()
        expected = -(posterior(schedule, s)[0] ** 2) / BETA[s - 1] * clean[i]
        assert_close(guess.grad[i], expected, f"the gradient of step_term at t={s}, guess 0", "(2)", atol=1e-12)


def test_step_term_keeps_the_precision_and_its_arguments():
    schedule, clean, noisy, t = (
        by_hand(BETA),
        grey(*SHAPE).float(),
        normal(*SHAPE).float(),
        torch.tensor([1, 2, 3, 4, 5]),
    )
    before = clean.clone(), noisy.clone(), t.clone()
    got = step_term(noisy, clean, noisy, t, schedule, variance=schedule.beta, n_levels=17)
    assert got.dtype == torch.float32, f"step_term of float32 images returned {got.dtype}"
    unchanged = all(torch.equal(a, b) for a, b in zip(before, (clean, noisy, t)))
    assert unchanged, "step_term changed the images or the times that it was given"


@pytest.mark.given
def test_step_term_refuses_what_does_not_fit():
    schedule, x = by_hand(BETA), torch.zeros(2, 1, 3, 4)
    t = torch.tensor([1, 2])
    for guess, clean in [(x[:1], x), (x, x[:, :, :2]), (x[0], x[0])]:
        with pytest.raises(ValueError, match="predicted, clean and noisy"):
            step_term(guess, clean, clean, t, schedule, variance=schedule.beta, n_levels=3)
    for variance in (schedule.beta[1:], torch.zeros(6), torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])):
        with pytest.raises(ValueError, match="variance"):
            step_term(x, x, x, t, schedule, variance=variance, n_levels=3)


def test_variational_bound_asks_once_for_each_step_and_returns_bits():
    schedule, clean, seen = by_hand(BETA), grey(4, 2, 3, 5), []

    def denoise(noisy, t):
        assert noisy.shape == clean.shape, f"the denoiser got images of shape {tuple(noisy.shape)}"
        assert len(set(t.tolist())) == 1 and len(t) == 4, (
            f"the denoiser got t = {t.tolist()}; one step for all 4 images"
        )
        seen.append((t[0].item(), noisy))
        return 0.5 * noisy

    got = variational_bound(denoise, clean, schedule, variance=schedule.beta, n_levels=17, generator=seeded())
    steps = sorted(t for t, _ in seen)
    assert steps == [1, 2, 3, 4, 5], f"the denoiser was asked at t = {steps}; once at each step from 1 to 5 is right"
    assert got.shape == (4, 6), f"variational_bound of 4 images, 5 steps has shape {tuple(got.shape)}; expected (4, 6)"
    expected = [prior_term(clean, schedule)] * 6
    for t, noisy in seen:
        arguments = (0.5 * noisy, clean, noisy, torch.full((4,), t), schedule)
        expected[t - 1] = step_term(*arguments, variance=schedule.beta, n_levels=17)
    call, because = "variational_bound of 4 images, 5 steps", "column k is L_k of (1), in bits per dimension"
    assert_close(got, torch.stack(expected, dim=1) / (30 * math.log(2)), call, because)


def noises_of_the_bound():
    """What is not the image in the x_t that the denoiser got, in units of its deviation: one tensor for each call."""
    schedule, clean, noises = by_hand(BETA), grey(600, 1, 5, 7), []

    def denoise(noisy, t):
        kept = schedule.alpha_bar[t[0]]
        noises.append((noisy - kept.sqrt() * clean) / (1 - kept).sqrt())
        return noisy

    variational_bound(denoise, clean, schedule, variance=schedule.beta, n_levels=17, generator=seeded())
    return [(f"the noise of variational_bound at call {i} of the denoiser", e) for i, e in enumerate(noises, start=1)]


def test_variational_bound_draws_noisy_images_from_the_forward_process():
    for call, e in noises_of_the_bound():
        assert_mean(e.flatten(), 0, call, "q(x_t | x_0): standard normal", sd=1)
        assert_variance(e.flatten(), 1, call, "q(x_t | x_0): standard normal")


def test_variational_bound_draws_fresh_noise_for_each_image():
    # Independent standard normal numbers have a product of mean 0 and variance 1.
    for call, e in noises_of_the_bound():
        product = (e[::2] * e[1::2]).flatten()
        assert_mean(product, 0, f"{call}, of one image times that of the next,", "fresh noise for each image", sd=1)


def test_variational_bound_draws_fresh_noise_for_each_step():
    noises = noises_of_the_bound()
    for i, (call, e) in enumerate(noises):
        for j, (_, other) in enumerate(noises[:i], start=1):
            assert_mean((e * other).flatten(), 0, f"{call} times that at call {j}", "fresh noise for each step", sd=1)


def gaussian_denoiser(mean, deviation, schedule):
    def denoise(noisy, t):
        kept = schedule.alpha_bar[t[0]].item()
        gain = deviation**2 * math.sqrt(kept) / (kept * deviation**2 + 1 - kept)
        return mean + gain * (noisy - math.sqrt(kept) * mean)

    return denoise


def test_variational_bound_of_gaussian_data_has_its_closed_form():
    """The exact guess for N(0.3, 0.4^2) is off by (1 - g a)(x - 0.3) - g s e, with normal e: squares have known moments."""
    mean, deviation, level = 0.3, 0.4, 0.5
    schedule, clean = by_hand(BETA), torch.full((400, 2, 3, 5), level, dtype=torch.float64)
    terms = variational_bound(
        gaussian_denoiser(mean, deviation, schedule),
        clean,
        schedule,
        variance=schedule.beta,
        n_levels=17,
        generator=seeded(),
    )
    for t in range(2, 6):
        kept, beta = schedule.alpha_bar[t].item(), BETA[t - 1]
        gain = deviation**2 * math.sqrt(kept) / (kept * deviation**2 + 1 - kept)
        fixed, random = (1 - gain * math.sqrt(kept)) * (level - mean), gain * math.sqrt(1 - kept)
        of_clean, _, small = posterior(schedule, t)
        scale = of_clean**2 / (2 * beta)
        expected = kl(0, small, 0, beta) + scale * (fixed**2 + random**2)
        sd = scale * math.sqrt((4 * fixed**2 * random**2 + 2 * random**4) / clean[0].numel())
        call = f"L_{t - 1} of variational_bound, in nats per pixel,"
        assert_mean(terms[:, t - 1] * math.log(2), expected, call, "(2) for Gaussian data", sd=sd)


def test_variational_bound_is_tight_for_the_one_model_that_is_exact():
    """Standard normal data, exact guesses and variance beta: every reverse step is the true one, and (1) an equality.

    The bound is then the density's own -log2 N(x; 0, 1), minus log2 of the width of a bin, for each single x. The bins are
    2e-3 wide, against a deviation of 0.2 at the last step: treating the density as flat on them is right to 4e-6 nats.
    """
    schedule = by_hand([0.04, 0.1, 0.3, 0.5, 0.4])
    n_levels = 1001
    levels = torch.tensor([-0.6, 0.0, 0.25, 0.8], dtype=torch.float64).reshape(1, 4, 1, 1)
    clean = levels.expand(500, 4, 5, 10)
    terms = variational_bound(
        gaussian_denoiser(0.0, 1.0, schedule),
        clean,
        schedule,
        variance=schedule.beta,
        n_levels=n_levels,
        generator=seeded(),
    )
    per_image = terms.sum(dim=1)
    density = -0.5 * math.log2(2 * math.pi) - (levels.square().mean().item() / 2) / math.log(2)
    expected = -density - math.log2(2 / (n_levels - 1))
    spread = per_image.std().item()
    assert spread < 0.01 * math.sqrt(500), f"the bounds of equal images have a standard deviation of {spread:.3f} bits"
    because = "-log2 of the density and of the bin's width: (1) is an equality"
    assert_mean(per_image, expected, "variational_bound in bits per pixel, summed over its terms,", because)


def test_variational_bound_repeats_itself_with_its_generator_and_records_no_gradients():
    schedule, clean = by_hand(BETA), grey(3, 1, 2, 5).float()
    gain = torch.tensor(0.5, requires_grad=True)

    def run(seed):
        return variational_bound(
            lambda x, t: gain * x, clean, schedule, variance=schedule.beta, n_levels=17, generator=seeded(seed)
        )

    assert torch.equal(run(1), run(1)), "variational_bound gave other terms for the same seed"
    assert not torch.equal(run(1), run(2)), "variational_bound gave the same terms for two seeds"
    assert not run(1).requires_grad, "the terms record gradients"


@pytest.mark.given
def test_record_and_history_keep_the_last_losses():
    history = History.empty(3, kept=2)
    assert history.losses.shape == (4, 2) and history.losses.isnan().all(), "an empty history holds NaN for T + 1 times"
    after = record(history, torch.tensor([2, 3, 2, 2]), torch.tensor([1.0, 9.0, 2.0, 3.0], requires_grad=True))
    assert after.losses[2].tolist() == [2.0, 3.0] and after.losses[3, 1] == 9.0, f"record made {after.losses}"
    assert history.losses.isnan().all(), "record changed the history that it was given"


def history_of(*rows):
    return History(torch.tensor([[math.nan] * len(rows[0]), *rows], dtype=torch.float64))


@pytest.mark.parametrize("uniform", [0.001, 0.3, 1.0])
def test_step_probabilities_are_root_mean_squares_mixed_with_the_uniform(uniform):
    rows = [[3.0, 4.0, 0.0], [0.1, 0.1, 0.1], [0.0, 0.0, 0.0], [-1.0, 2.0, 2.0]]
    got = step_probabilities(history_of(*rows), uniform=uniform)
    roots = [math.sqrt(sum(x * x for x in row) / 3) for row in rows]
    expected = [0.0] + [(1 - uniform) * r / sum(roots) + uniform / 4 for r in roots]
    assert_close(got, expected, f"step_probabilities(history, uniform={uniform})", "equation (7)")


def test_step_probabilities_do_not_depend_on_the_unit_of_the_losses():
    rows = torch.tensor([[math.nan] * 2, [3.0, 4.0], [1.0, 1.0]], dtype=torch.float64)
    tiny, huge = step_probabilities(History(1e-8 * rows)), step_probabilities(History(1e8 * rows))
    assert_close(tiny, huge, "step_probabilities of losses of 1e-8", "those of losses of 1e8: (7) has only ratios")


def test_step_probabilities_mix_in_a_thousandth_unless_told_otherwise():
    got = step_probabilities(history_of([1.0], [3.0]))
    assert_close(
        got, [0.0, 0.999 * 0.25 + 0.0005, 0.999 * 0.75 + 0.0005], "step_probabilities(history)", "u = 0.001 in (7)"
    )


@pytest.mark.parametrize(
    "rows", [[[math.nan] * 2] * 4, [[1.0, 2.0], [3.0, 4.0], [math.nan, 5.0], [1.0, 1.0]], [[0.0, 0.0]] * 4]
)
def test_step_probabilities_are_uniform_until_the_history_is_full_or_if_all_losses_are_zero(rows):
    got = step_probabilities(history_of(*rows))
    assert_close(
        got, [0.0, 0.25, 0.25, 0.25, 0.25], f"step_probabilities of the losses {rows}", "the docstring: uniform"
    )


def test_step_probabilities_leave_the_history_alone():
    history = history_of([1.0, 2.0], [3.0, 4.0])
    step_probabilities(history)
    assert history.losses[1:].tolist() == [[1.0, 2.0], [3.0, 4.0]], "step_probabilities changed the history"


@pytest.mark.given
@pytest.mark.parametrize("uniform", [0.0, -0.1, 1.1, math.nan])
def test_step_probabilities_refuse_shares_outside_0_to_1(uniform):
    with pytest.raises(ValueError, match="uniform"):
        step_probabilities(history_of([1.0]), uniform=uniform)


P = torch.tensor([0.0, 0.5, 0.3, 0.15, 0.05], dtype=torch.float64)


def test_draw_steps_draws_each_step_with_its_probability():
    n = 40_000
    t, _ = draw_steps(P, n, generator=seeded())
    assert t.shape == (n,) and not t.is_floating_point(), (
        f"draw_steps(p, {n}) returned steps {t.dtype} {tuple(t.shape)}"
    )
    wrong = t[(t < 0) | (t >= len(P))]
    assert not len(wrong), f"draw_steps(p, {n}) drew step {wrong[0].item()}; p has {len(P)} entries"
    assert_frequencies(t.bincount(minlength=len(P)), P, f"draw_steps(p, {n})", "its argument p")


def test_draw_steps_weighs_each_draw_by_one_over_its_expected_number():
    t, weight = draw_steps(P, 300, generator=seeded(1))
    assert_close(weight, [1 / (4 * P[s].item()) for s in t.tolist()], "the weights of draw_steps", "equation (5)")


def test_draw_steps_keeps_the_mean_over_steps_unbiased():
    """The weighted loss has the mean of the losses over all steps, for any losses; its variance is known from p."""
    n, loss = 40_000, torch.tensor([0.0, 1.0, -7.0, 30.0, 100.0], dtype=torch.float64)
    t, weight = draw_steps(P, n, generator=seeded(2))
    mean = loss[1:].mean().item()
    variance = (loss[1:] ** 2 / (16 * P[1:])).sum().item() - mean**2
    call = "weight * loss of draw_steps"
    assert_mean(weight * loss[t], mean, call, "equation (5): the mean over all steps", sd=math.sqrt(variance))


def test_draw_steps_of_the_best_probabilities_has_no_variance():
    """With p proportional to the losses, (6), every weighted loss is the same number, their mean."""
    loss = torch.tensor([0.0, 1.0, 7.0, 30.0, 2.0], dtype=torch.float64)
    t, weight = draw_steps(loss / loss.sum(), 100, generator=seeded(3))
    assert_close(
        weight * loss[t], torch.full((100,), 10.0), "weight * loss, drawn in proportion to the loss", "(5), (6)"
    )


def test_draw_steps_repeats_itself_only_with_the_same_generator():
    first, again, other = (draw_steps(P, 50, generator=seeded(s))[0] for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other), "draw_steps must draw from `generator`"


@pytest.mark.given
@pytest.mark.parametrize("p", [[0.5, 0.5], [0.0, 1.5, -0.5], [0.0, 0.5, 0.4], [[0.0, 1.0]], [0.0, math.nan]])
def test_draw_steps_refuses_what_is_no_distribution_of_steps(p):
    with pytest.raises(ValueError, match="probabilities"):
        draw_steps(torch.tensor(p), 3, generator=seeded())
