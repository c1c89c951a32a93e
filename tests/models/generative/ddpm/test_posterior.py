"""Shared tests of models/generative/ddpm/posterior: run on the reference, and on the learner's file.

Two kinds. Identities in float64, compared to 1e-9: far above rounding, far below an index off by one. And samples drawn
with a planted denoiser, exact for Gaussian data: each step is then linear in the state and in its noise, so that the
samples are Gaussian with a mean and a variance that a recursion in plain numbers gives (`moments`). They are compared
over N independent pixels, in whatever order random numbers are drawn, by checks that a right solution fails with a
probability of 1e-8 each: 41 of them, 4.1e-7 together.
"""

import math

import pytest
import torch

from mlpath.models.generative.ddpm.forward import Schedule
from mlpath.models.generative.ddpm.posterior import (
    ancestral_step,
    posterior_mean,
    posterior_variance,
    reverse_variance,
    sample,
)
from mlpath.testing import assert_close, assert_mean, assert_variance

BETA = [0.03, 0.3, 0.002, 0.6, 0.11]
SHAPE = (5, 2, 3, 7)
DRAWN = (1500, 2, 1, 7)
N = 1500 * 2 * 7


def by_hand(beta):
    """Entry t of alpha_bar is the product of the first t of 1 - beta."""
    kept = [1.0]
    for b in beta:
        kept.append(kept[-1] * (1 - b))
    return Schedule(torch.tensor([0.0, *beta], dtype=torch.float64), torch.tensor(kept, dtype=torch.float64))


def conditioned(schedule, t):
    """(x_{t-1}, x_t) given x_0 is a pair of Gaussians; condition the first on the second, by the textbook.

    Returns the coefficient of x_0, that of x_t, and the variance.
    """
    kept, beta = schedule.alpha_bar.tolist(), schedule.beta.tolist()
    mean_before, mean_after = math.sqrt(kept[t - 1]), math.sqrt(kept[t])
    variance_before, variance_after = 1 - kept[t - 1], 1 - kept[t]
    covariance = math.sqrt(1 - beta[t]) * variance_before
    gain = covariance / variance_after
    return mean_before - gain * mean_after, gain, variance_before - gain * covariance


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def times(*t):
    return torch.tensor(t)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian_denoiser(mean, deviation, schedule):
    """The exact E[x_0 | x_t] where every pixel of x_0 is normal with this mean and standard deviation."""

    def denoise(noisy, t):
        kept = schedule.alpha_bar[t[0]].item()
        gain = deviation**2 * math.sqrt(kept) / (kept * deviation**2 + 1 - kept)
        return mean + gain * (noisy - math.sqrt(kept) * mean)

    return denoise


def moments(mean, deviation, schedule, variance):
    """Mean and variance of a pixel drawn with `gaussian_denoiser`, step by step."""
    m, v = 0.0, 1.0
    for t in range(schedule.n_steps, 0, -1):
        kept = schedule.alpha_bar[t].item()
        gain = deviation**2 * math.sqrt(kept) / (kept * deviation**2 + 1 - kept)
        of_clean, of_noisy, _ = conditioned(schedule, t)
        slope = of_clean * gain + of_noisy
        m = slope * m + of_clean * mean * (1 - gain * math.sqrt(kept))
        v = slope**2 * v + (variance[t].item() if t > 1 else 0.0)
    return m, v


def assert_moments(x, mean, variance, call, because):
    """Mean and variance of independent normal numbers."""
    assert_mean(x.flatten(), mean, call, because, sd=math.sqrt(variance))
    assert_variance(x.flatten(), variance, call, because)


def test_posterior_variance_is_that_of_conditioning_one_gaussian_on_another():
    schedule = by_hand(BETA)
    expected = [conditioned(schedule, t)[2] for t in (2, 3, 4, 5)]
    assert_close(posterior_variance(schedule)[2:], expected, "posterior_variance(schedule)[2:]", "equation (2)")


def test_posterior_variance_is_zero_at_the_first_step_and_has_an_entry_for_each_time():
    variance = posterior_variance(by_hand(BETA))
    assert variance.shape == (6,), (
        f"posterior_variance of 5 steps has shape {tuple(variance.shape)}; times 0 to 5 are 6"
    )
    assert_close(variance[:2], [0.0, 0.0], "posterior_variance(schedule)[:2]", "equation (2) with alpha_bar_0 = 1")


@pytest.mark.parametrize("t", [1, 2, 3, 4, 5])
def test_posterior_mean_is_that_of_conditioning_one_gaussian_on_another(t):
    schedule, clean, noisy = by_hand(BETA), normal(*SHAPE), normal(*SHAPE, seed=1)
    of_clean, of_noisy, _ = conditioned(schedule, t)
    got = posterior_mean(clean, noisy, torch.full((5,), t), schedule)
    # At t = 1 the weight of the noisy image is zero; rounding may leave 1e-16 of it.
    assert_close(got, of_clean * clean + of_noisy * noisy, f"posterior_mean at t={t}", "equation (3)", atol=1e-12)


def test_posterior_mean_undoes_the_first_step_completely():
    clean, noisy = normal(*SHAPE), normal(*SHAPE, seed=1)
    got = posterior_mean(clean, noisy, torch.ones(5, dtype=torch.long), by_hand(BETA))
    assert_close(got, clean, "posterior_mean at t=1", "(3) with alpha_bar_0 = 1: the clean image", atol=1e-12)


def test_posterior_mean_takes_each_image_at_its_own_step():
    schedule, clean, noisy, t = by_hand(BETA), normal(*SHAPE), normal(*SHAPE, seed=1), times(4, 1, 5, 2, 3)
    got = posterior_mean(clean, noisy, t, schedule)
    for i, step in enumerate(t.tolist()):
        of_clean, of_noisy, _ = conditioned(schedule, step)
        expected = of_clean * clean[i] + of_noisy * noisy[i]
        assert_close(got[i], expected, f"posterior_mean, image {i} with t={step}", "equation (3)", atol=1e-12)


def test_posterior_mean_subtracts_the_noise_of_one_step():
    """Where x_0 and x_t are joined by a known noise e, (3) is (x_t - beta / sqrt(1 - alpha_bar) e) / sqrt(1 - beta)."""
    schedule, clean, noise, t = by_hand(BETA), normal(*SHAPE), normal(*SHAPE, seed=1), times(1, 2, 3, 4, 5)
    kept, beta = schedule.alpha_bar[t].reshape(5, 1, 1, 1), schedule.beta[t].reshape(5, 1, 1, 1)
    noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
    expected = (noisy - beta / (1 - kept).sqrt() * noise) / (1 - beta).sqrt()
    got = posterior_mean(clean, noisy, t, schedule)
    assert_close(got, expected, "posterior_mean(x_0, x_t)", "(3) rewritten with the noise", rtol=1e-9, atol=1e-12)


def test_posterior_mean_and_variance_lead_back_to_the_marginal():
    """q(x_{t-1} | x_0) is q(x_{t-1} | x_t, x_0) averaged over q(x_t | x_0): mean and variance must fit together."""
    schedule, one, zero = by_hand(BETA), torch.ones(1, 1, 1, 1).double(), torch.zeros(1, 1, 1, 1).double()
    for t in range(1, 6):
        kept, before = schedule.alpha_bar[t], schedule.alpha_bar[t - 1]
        mean = posterior_mean(one, kept.sqrt() * one, times(t), schedule).item()
        assert_close(
            mean, before.sqrt(), f"posterior_mean(1, sqrt(alpha_bar_{t}))", "the mean of x_{t-1}, given x_0 = 1"
        )
        slope = posterior_mean(zero, one, times(t), schedule).item()
        total = slope**2 * (1 - kept) + posterior_variance(schedule)[t]
        assert_close(total, 1 - before, f"slope^2 (1 - alpha_bar_{t}) + posterior variance", "var x_{t-1}", atol=1e-12)


def test_posterior_mean_keeps_float32_to_seven_digits():
    """Differences like 1 - alpha_bar = 1e-5 formed in float32 would have two digits; 2e-6 is sixteen units in the last."""
    schedule, t = by_hand([1e-5, 2e-5, 0.9]), times(2, 2, 3)
    clean, noisy = normal(3, 1, 2, 5), normal(3, 1, 2, 5, seed=1)
    got = posterior_mean(clean.float(), noisy.float(), t, schedule)
    assert got.dtype == torch.float32, f"posterior_mean of float32 images returned {got.dtype}"
    expected = torch.stack(
        [a * x + b * z for x, z, (a, b, _) in zip(clean, noisy, [conditioned(schedule, s) for s in t.tolist()])]
    )
    assert_close(got, expected, "posterior_mean in float32", "equation (3)", rtol=2e-6, atol=2e-6)


@pytest.mark.given
@pytest.mark.parametrize("t", [times(0, 1), times(1, 6), times(1), torch.tensor([1.0, 2.0])])
def test_posterior_mean_refuses_times_that_are_no_steps(t):
    x = torch.zeros(2, 1, 4, 5)
    with pytest.raises(ValueError, match="t must"):
        posterior_mean(x, x, t, by_hand(BETA))
    with pytest.raises(ValueError, match="images must"):
        posterior_mean(x, x[:, :, :3], times(1, 2), by_hand(BETA))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_reverse_variance_lies_between_the_two_extremes(share):
    schedule = by_hand(BETA)
    expected = [schedule.beta[t].item() ** share * conditioned(schedule, t)[2] ** (1 - share) for t in (2, 3, 4, 5)]
    got = reverse_variance(schedule, share=share)
    assert got.shape == (6,), f"reverse_variance of 5 steps has shape {tuple(got.shape)}; there are 6 times"
    assert_close(got[2:], expected, f"reverse_variance(schedule, share={share})[2:]", "equation (5)")


def test_reverse_variance_is_no_nan_where_the_posterior_variance_is_zero():
    schedule = by_hand(BETA)
    for share, expected in [(0.0, 0.0), (0.5, 0.0), (1.0, 0.03)]:
        got = reverse_variance(schedule, share=share)[:2]
        assert_close(got, [0.0, expected], f"reverse_variance(schedule, share={share})[:2]", "equation (5) at t = 0, 1")


def test_reverse_variance_is_the_small_one_unless_told_otherwise():
    schedule = by_hand(BETA)
    expected = reverse_variance(schedule, share=0.0)
    assert_close(reverse_variance(schedule), expected, "reverse_variance(schedule)", "its default share, 0")
    assert_close(schedule.beta, by_hand(BETA).beta, "schedule.beta after reverse_variance", "its value before")


@pytest.mark.given
@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_reverse_variance_refuses_other_shares(share):
    with pytest.raises(ValueError, match="share"):
        reverse_variance(by_hand(BETA), share=share)


def test_ancestral_step_adds_noise_of_the_given_variance_to_the_mean():
    schedule, variance = by_hand(BETA), torch.tensor([0.0, 0.4, 0.09, 1.7, 0.25, 0.0], dtype=torch.float64)
    guess, noisy, noise, t = normal(*SHAPE), normal(*SHAPE, seed=1), normal(*SHAPE, seed=2), times(4, 2, 5, 2, 3)
    got = ancestral_step(guess, noisy, t, noise, schedule, variance=variance)
    for i, step in enumerate(t.tolist()):
        of_clean, of_noisy, _ = conditioned(schedule, step)
        expected = of_clean * guess[i] + of_noisy * noisy[i] + math.sqrt(variance[step]) * noise[i]
        assert_close(got[i], expected, f"ancestral_step, image {i} with t={step}", "equation (4)", atol=1e-12)


def test_ancestral_step_adds_no_noise_at_the_last_step():
    guess, noise, t = normal(*SHAPE), normal(*SHAPE, seed=1), times(1, 3, 1, 1, 2)
    schedule = by_hand(BETA)
    quiet = ancestral_step(guess, guess, t, torch.zeros_like(noise), schedule, variance=schedule.beta)
    loud = ancestral_step(guess, guess, t, noise, schedule, variance=schedule.beta)
    last = t == 1
    assert_close(
        loud[last], guess[last], "ancestral_step for the images with t=1", "the guess, without noise", atol=1e-12
    )
    added = (loud - quiet)[~last]
    expected = schedule.beta[t[~last]].sqrt().reshape(-1, 1, 1, 1) * noise[~last]
    assert_close(added, expected, "the noise that the other images got", "equation (4)", atol=1e-12)


def test_ancestral_step_leaves_its_arguments_alone():
    x, noise, t, schedule = normal(*SHAPE), normal(*SHAPE, seed=1), times(1, 2, 3, 4, 5), by_hand(BETA)
    before = x.clone(), noise.clone(), t.clone()
    ancestral_step(x, x, t, noise, schedule, variance=schedule.beta)
    unchanged = all(torch.equal(a, b) for a, b in zip(before, (x, noise, t)))
    assert unchanged, "ancestral_step changed the images, the noise or the times that it was given"
    half = ancestral_step(x.float(), x.float(), t, noise.float(), schedule, variance=schedule.beta)
    assert half.dtype == torch.float32, f"ancestral_step of float32 images returned {half.dtype}"


@pytest.mark.given
def test_ancestral_step_refuses_what_does_not_fit():
    x, schedule = torch.zeros(2, 1, 4, 5), by_hand(BETA)
    with pytest.raises(ValueError, match="variance"):
        ancestral_step(x, x, times(1, 2), x, schedule, variance=schedule.beta[1:])
    with pytest.raises(ValueError, match="t must"):
        ancestral_step(x, x, times(0, 2), x, schedule, variance=schedule.beta)
    with pytest.raises(ValueError, match="images must"):
        ancestral_step(x, x, times(1, 2), x[:, :, :3], schedule, variance=schedule.beta)


def test_sample_asks_the_denoiser_once_for_each_step_from_the_last_to_the_first():
    seen = []

    def denoise(noisy, t):
        assert isinstance(t, torch.Tensor), (
            f"the denoiser got t={t!r}; it should be a vector with the step of each image"
        )
        assert not t.is_floating_point(), f"the denoiser got times of dtype {t.dtype}; they should be integers"
        now = 5 - len(seen)
        assert t.tolist() == [now] * 3 and now > 0, (
            f"sample called the denoiser with t = {t.tolist()} after {seen}; expected 5, 4, 3, 2, 1, once per image"
        )
        seen.append(t.tolist())
        assert noisy.shape == (3, 2, 4, 5), (
            f"the denoiser got images of shape {tuple(noisy.shape)}; expected (3, 2, 4, 5)"
        )
        return torch.zeros_like(noisy)

    schedule = by_hand(BETA)
    sample(denoise, (3, 2, 4, 5), schedule, variance=schedule.beta, generator=seeded())
    assert seen == [[t] * 3 for t in (5, 4, 3, 2, 1)], (
        f"sample called the denoiser with t = {seen}; expected 5, 4, 3, 2, 1"
    )


def test_sample_starts_from_standard_normal_noise():
    starts = []

    def denoise(noisy, t):
        starts.append(noisy.clone())
        return noisy

    schedule = by_hand(BETA)
    sample(denoise, DRAWN, schedule, variance=schedule.beta, generator=seeded())
    assert_moments(starts[0], 0.0, 1.0, "what sample starts from", "standard normal noise")


def test_sample_draws_fresh_noise_for_each_step_and_each_image():
    """With guesses of 0, noise is all there is: any that is used twice, over steps or images, would show as correlation."""
    schedule, states = by_hand(BETA), []

    def denoise(noisy, t):
        states.append(noisy.double())
        return torch.zeros_like(noisy)

    sample(denoise, DRAWN, schedule, variance=schedule.beta, generator=seeded())
    noises = [states[0]]
    for t, before, after in zip((5, 4, 3, 2), states, states[1:]):
        noises.append((after - conditioned(schedule, t)[1] * before) / math.sqrt(BETA[t - 1]))
    for i, a in enumerate(noises):
        assert_moments(a, 0.0, 1.0, f"the noise that sample drew at its {i}. draw", "equation (4)")
        # Independent standard normal numbers have a product of mean 0 and variance 1.
        for j, b in enumerate(noises[:i]):
            call = f"the noise of sample at its {i}. draw times that at its {j}."
            assert_mean((a * b).flatten(), 0, call, "fresh noise for each step", sd=1)
        call = f"the noise of sample for one image times that for the next, at its {i}. draw,"
        assert_mean((a[::2] * a[1::2]).flatten(), 0, call, "fresh noise for each image", sd=1)


def test_sample_returns_the_one_image_there_is():
    """Where all data are one image, the guess is always that image, and the last step returns it."""
    schedule, only = by_hand(BETA), normal(1, 2, 3, 7).float()
    got = sample(
        lambda x, t: only.expand_as(x), SHAPE, schedule, variance=posterior_variance(schedule), generator=seeded()
    )
    assert_close(got, only.expand(SHAPE), "sample with a denoiser that knows the only image", "(3) at t=1", atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize(("mean", "deviation"), [(0.7, 0.3), (-2.0, 1.0), (0.0, 2.0)])
def test_sample_with_the_exact_denoiser_of_gaussian_data_has_the_moments_of_the_recursion(mean, deviation, share):
    schedule = by_hand([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    variance = schedule.beta**share * torch.tensor(
        [0.0] + [max(conditioned(schedule, t)[2], 0.0) for t in range(1, 11)], dtype=torch.float64
    ) ** (1 - share)
    denoiser = gaussian_denoiser(mean, deviation, schedule)
    x = sample(denoiser, DRAWN, schedule, variance=variance, generator=seeded())
    expected = moments(mean, deviation, schedule, variance)
    assert_moments(x, *expected, f"sample for N({mean}, {deviation}^2), share {share},", "(3) and (4), step by step")


def test_sample_with_the_exact_denoiser_and_variance_reproduces_the_data():
    """The exact reverse variance of Gaussian data adds to (2) what is unknown of x_0.

    Samples then have the data's mean and variance, up to the missing noise of the last step, var(x_0 | x_1) = 1e-4,
    and up to what is left of x_0 at the end: alpha_bar_T = 2e-5 moves the mean by 0.7 sqrt(2e-5) times a slope below 0.01.
    """
    mean, deviation = 0.7, 0.3
    schedule = by_hand(
        [1e-4, 1e-3, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9]
    )
    variance = [0.0]
    for t in range(1, schedule.n_steps + 1):
        of_clean, _, small = conditioned(schedule, t)
        kept = schedule.alpha_bar[t].item()
        unknown = deviation**2 * (1 - kept) / (kept * deviation**2 + 1 - kept)
        variance.append(small + of_clean**2 * unknown)
    variance = torch.tensor(variance, dtype=torch.float64).clamp(min=0)
    expected = moments(mean, deviation, schedule, variance)
    assert abs(expected[0] - mean) < 1e-3 and abs(expected[1] / deviation**2 - 1) < 2e-3, "the tests are wrong"
    x = sample(gaussian_denoiser(mean, deviation, schedule), DRAWN, schedule, variance=variance, generator=seeded(1))
    call = "sample with the exact denoiser and variance of N(0.7, 0.3^2)"
    assert_moments(x, *expected, call, "(3) and (4), step by step")


def test_sample_clips_the_guesses_and_only_them():
    schedule, states = by_hand(BETA), []

    def wild(noisy, t):
        states.append(noisy)
        return torch.where(torch.arange(noisy.numel()).reshape(noisy.shape) % 2 == 0, 50.0, -50.0).to(noisy)

    # Without noise each step is (3) alone: what it makes of the guess is what is left without the share of x_t.
    x = sample(wild, SHAPE, schedule, variance=0 * schedule.beta, clip=(-0.5, 2.0), generator=seeded())
    clipped = wild(x, None).clamp(-0.5, 2.0)
    pairs = zip([x, *states[4:0:-1]], states[4::-1], [conditioned(schedule, t) for t in (1, 2, 3, 4, 5)])
    shares = [(after - of_noisy * before, of_clean * clipped) for after, before, (of_clean, of_noisy, _) in pairs]
    got, expected = (torch.stack(each, dim=-1) for each in zip(*shares))
    call = "sample(clip=(-0.5, 2)) of guesses of +-50: the share of the guess in x_0 to x_4"
    because = "(3) of the clipped guess, noisy images not being clipped"
    assert_close(got, expected, call, because, rtol=1e-5, atol=1e-5, tolerance="as they are float32")
    x = sample(wild, SHAPE, schedule, variance=schedule.beta, generator=seeded())
    call = "the pixels of sample() without a clip"
    assert_close(x.unique(), [-50.0, 50.0], call, "the last guesses", atol=1e-3, tolerance="as they are float32")


def test_sample_repeats_itself_only_with_the_same_generator():
    schedule = by_hand(BETA)

    def draw(seed):
        return sample(lambda x, t: 0.5 * x, SHAPE, schedule, variance=schedule.beta, generator=seeded(seed))

    torch.manual_seed(1)
    first = draw(7)
    torch.manual_seed(2)
    assert torch.equal(first, draw(7)), (
        "sample gave other images for the same seed: all noise must come from `generator`"
    )
    assert not torch.equal(first, draw(8)), "sample gave the same images for two seeds"


def test_sample_records_no_gradients():
    gain, schedule = torch.tensor(0.5, requires_grad=True), by_hand(BETA)
    x = sample(lambda x, t: gain * x, SHAPE, schedule, variance=schedule.beta, generator=seeded())
    assert not x.requires_grad, "the images that sample returned record gradients"
    assert x.dtype == torch.float32, f"sample returned {x.dtype}; expected float32"


@pytest.mark.given
def test_sample_refuses_other_shapes_and_intervals():
    schedule = by_hand(BETA)
    with pytest.raises(ValueError, match="shape must"):
        sample(lambda x, t: x, (8, 8), schedule, variance=schedule.beta, generator=seeded())
    for clip in [(1, -1), (1, 1), (math.nan, 1)]:
        with pytest.raises(ValueError, match="clip"):
            sample(lambda x, t: x, SHAPE, schedule, variance=schedule.beta, clip=clip, generator=seeded())
