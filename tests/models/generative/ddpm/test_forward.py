"""Shared tests of models/generative/ddpm/forward: run on the reference, and on the learner's file.

The noise is an argument, so everything here is an exact identity: float64 results are compared to 1e-9, far above
rounding (1e-16 times some hundreds of factors) and far below any error of index (1e-4 and more). Images are not square,
have several channels, and each image of a batch has a time of its own.
"""

import math

import pytest
import torch

from mlpath.models.generative.ddpm.forward import (
    Schedule,
    cosine,
    diffuse,
    diffuse_step,
    linear,
    per_image,
    schedule_from_beta,
    snr,
)
from mlpath.testing import assert_close

SHAPE = (5, 2, 3, 7)
BETA = [0.03, 0.3, 0.002, 0.6, 0.11]


def by_hand(beta):
    """A schedule made without the learner's code: entry t of alpha_bar is the product of the first t of 1 - beta."""
    kept = [1.0]
    for b in beta:
        kept.append(kept[-1] * (1 - b))
    return Schedule(torch.tensor([0.0, *beta], dtype=torch.float64), torch.tensor(kept, dtype=torch.float64))


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def times(*t):
    return torch.tensor(t)


def test_schedule_from_beta_puts_the_clean_image_first():
    schedule = schedule_from_beta(torch.tensor(BETA, dtype=torch.float64))
    assert schedule.n_steps == 5, f"5 variances made a schedule of {schedule.n_steps} steps: entry 0 is the clean image"
    assert_close(schedule.beta, [0.0, *BETA], "schedule_from_beta(beta).beta", "the plan: beta_0 = 0 comes first")
    assert_close(
        schedule.alpha_bar[0], 1.0, "schedule_from_beta(beta).alpha_bar[0]", "equation (2): nothing is lost yet"
    )


def test_schedule_from_beta_multiplies_what_each_step_keeps():
    schedule = schedule_from_beta(torch.tensor(BETA, dtype=torch.float64))
    assert_close(schedule.alpha_bar, by_hand(BETA).alpha_bar, "schedule_from_beta(beta).alpha_bar", "equation (2)")


def test_schedule_from_beta_works_in_float64_and_leaves_its_argument_alone():
    beta = torch.full((1000,), 1e-4)
    schedule = schedule_from_beta(beta)
    for name in ("beta", "alpha_bar"):
        dtype = getattr(schedule, name).dtype
        assert dtype == torch.float64, f"schedule_from_beta(float32 beta).{name} is {dtype}; expected float64"
    # The given number is float32(1e-4); a product of 1,000 factors taken in float32 would be off by 3e-6.
    expected = (1 - beta[0].double()) ** 1000
    assert_close(schedule.alpha_bar[-1], expected, "alpha_bar[-1] of 1,000 steps of 1e-4", "equation (2) in float64")
    assert (beta == 1e-4).all(), "schedule_from_beta changed its argument"


@pytest.mark.given
@pytest.mark.parametrize("beta", [[], [0.0, 0.1], [0.1, 1.0], [0.1, math.nan], [[0.1, 0.2]], [-0.1]])
def test_schedule_from_beta_refuses_what_is_no_variance(beta):
    with pytest.raises(ValueError, match="beta"):
        schedule_from_beta(torch.tensor(beta))


def test_linear_grows_in_equal_steps_from_the_first_to_the_last():
    beta = linear(1000).beta
    assert beta.shape == (1001,), f"linear(1000).beta has shape {tuple(beta.shape)}; 1,000 steps and entry 0 make 1,001"
    expected = [1e-4 + (t - 1) / 999 * (0.02 - 1e-4) for t in range(1, 1001)]
    assert_close(beta[1:], expected, "linear(1000).beta[1:]", "equation (5)")
    assert_close(
        linear(7, first=0.3, last=0.1).beta[[1, 4, 7]], [0.3, 0.2, 0.1], "linear(7, first=0.3, last=0.1)", "(5)"
    )


def test_linear_has_the_alpha_bar_of_its_variances():
    schedule = linear(40, first=0.01, last=0.2)
    expected = math.exp(sum(math.log1p(-(0.01 + k / 39 * 0.19)) for k in range(40)))
    assert_close(schedule.alpha_bar[-1], expected, "linear(40, first=0.01, last=0.2).alpha_bar[-1]", "equation (2)")
    assert_close(schedule.alpha_bar[:2], [1.0, 0.99], "linear(40, first=0.01, last=0.2).alpha_bar[:2]", "equation (2)")


@pytest.mark.given
@pytest.mark.parametrize("make", [linear, cosine])
@pytest.mark.parametrize("n_steps", [0, 1, -3, 2.0])
def test_linear_and_cosine_refuse_fewer_than_two_steps(make, n_steps):
    with pytest.raises(ValueError, match="n_steps"):
        make(n_steps)


@pytest.mark.given
def test_linear_and_cosine_refuse_variances_outside_0_to_1():
    for call in (lambda: linear(10, first=0.0), lambda: linear(10, first=1.5), lambda: linear(10, last=1.0)):
        with pytest.raises(ValueError, match="first and last"):
            call()
    with pytest.raises(ValueError, match="largest"):
        cosine(10, largest=1.0)
    with pytest.raises(ValueError, match="offset"):
        cosine(10, offset=-0.1)


@pytest.mark.parametrize(("n_steps", "offset"), [(1000, 0.008), (50, 0.2), (8, 0.0)])
def test_cosine_has_the_prescribed_alpha_bar_wherever_nothing_is_clipped(n_steps, offset):
    def f(t):
        return math.cos((t / n_steps + offset) / (1 + offset) * math.pi / 2) ** 2

    expected = [f(t) / f(0) for t in range(n_steps)]
    schedule = cosine(n_steps, offset=offset)
    assert schedule.n_steps == n_steps, f"cosine({n_steps}) has {schedule.n_steps} steps"
    assert_close(
        schedule.alpha_bar[:-1], expected, f"cosine({n_steps}, offset={offset}).alpha_bar[:-1]", "equation (6)"
    )


def test_cosine_clips_the_variances():
    beta = cosine(1000).beta
    assert_close(beta[-1], 0.999, "cosine(1000).beta[-1]", "equation (7)")
    assert beta[-2] < 0.999, f"cosine(1000).beta[-2] is {beta[-2]}; it is 0.75, only the last is clipped"
    assert_close(cosine(100, largest=0.3).beta.max(), 0.3, "cosine(100, largest=0.3).beta.max()", "equation (7)")


@pytest.mark.parametrize("largest", [0.999, 0.2])
def test_cosine_follows_its_clipped_variances(largest):
    schedule = cosine(60, largest=largest)
    expected = by_hand(schedule.beta[1:].tolist()).alpha_bar
    assert_close(
        schedule.alpha_bar, expected, f"cosine(60, largest={largest}).alpha_bar", "equation (2) of the clipped beta"
    )
    assert (schedule.alpha_bar > 0).all(), "an alpha_bar of the cosine schedule is 0: clipping keeps them positive"


@pytest.mark.parametrize("make", [linear, cosine])
def test_cosine_and_linear_never_let_the_signal_rise(make):
    alpha_bar = make(500).alpha_bar
    assert (alpha_bar.diff() < 0).all(), (
        f"{make.__name__}(500).alpha_bar rises somewhere; by (2) it falls with every step"
    )


def test_snr_is_the_ratio_of_signal_to_noise_variance():
    schedule = by_hand(BETA)
    ratio = snr(schedule)
    assert ratio.shape == (6,), f"snr of 5 steps has shape {tuple(ratio.shape)}; with the clean image there are 6 times"
    expected = [a / (1 - a) for a in schedule.alpha_bar[1:].tolist()]
    assert_close(ratio[1:], expected, "snr(schedule)[1:]", "equation (4)")
    assert ratio[0] == math.inf, f"snr(schedule)[0] is {ratio[0]}; a clean image has no noise, so it is infinite"


def test_snr_keeps_its_digits_when_huge_or_tiny():
    huge, tiny = snr(by_hand([1e-6, 0.5]))[1], snr(by_hand([0.999] * 5))[-1]
    assert_close(huge, (1 - 1e-6) / 1e-6, "snr after one step of variance 1e-6", "equation (4)")
    assert_close(tiny, 1e-15, "snr after five steps of variance 0.999", "equation (4)")


def test_per_image_looks_up_each_images_own_time():
    values = torch.arange(9, dtype=torch.float64) ** 2
    found = per_image(values, times(8, 0, 3, 3, 1), torch.zeros(SHAPE, dtype=torch.float64))
    expected = torch.tensor([64.0, 0.0, 9.0, 9.0, 1.0]).reshape(5, 1, 1, 1)
    assert_close(found, expected, "per_image(squares, [8, 0, 3, 3, 1], images)", "the plan: values[t], one per image")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_per_image_answers_in_the_precision_of_the_images(dtype):
    found = per_image(torch.rand(4, dtype=torch.float64), times(1, 2), torch.zeros(2, 1, 4, 5, dtype=dtype))
    assert found.dtype == dtype, f"per_image(float64 values, t, {dtype} images) returned {found.dtype}"


@pytest.mark.given
@pytest.mark.parametrize("t", [times(1), times(), torch.tensor([1.0, 2.0]), times(-1, 2), times(4, 0)])
def test_per_image_refuses_other_than_one_whole_number_per_image(t):
    with pytest.raises(ValueError, match="t must"):
        per_image(torch.rand(4), t, torch.zeros(2, 1, 4, 5))


def test_diffuse_step_shrinks_the_image_and_adds_the_steps_own_noise():
    x, t = normal(*SHAPE), times(5, 1, 2, 4, 3)
    schedule = by_hand(BETA)
    kept = diffuse_step(x, t, torch.zeros_like(x), schedule)
    added = diffuse_step(torch.zeros_like(x), t, torch.ones_like(x), schedule)
    for i, step in enumerate(t.tolist()):
        beta = BETA[step - 1]
        assert_close(
            kept[i], math.sqrt(1 - beta) * x[i], f"diffuse_step without noise, image {i} of t={step}", "equation (1)"
        )
        assert_close(
            added[i],
            math.sqrt(beta) * torch.ones_like(x[i]),
            f"diffuse_step of 0 with noise 1, t={step}",
            "equation (1)",
        )


def test_diffuse_step_preserves_variance():
    # Signal and noise enter with coefficients whose squares add up to one.
    one, zero, t = torch.ones(5, 1, 1, 1).double(), torch.zeros(5, 1, 1, 1).double(), times(1, 2, 3, 4, 5)
    schedule = by_hand(BETA)
    total = diffuse_step(one, t, zero, schedule) ** 2 + diffuse_step(zero, t, one, schedule) ** 2
    assert_close(total, one, "the squares of diffuse_step's two coefficients", "(1): their sum is one")


@pytest.mark.given
@pytest.mark.parametrize("t", [times(0, 1), times(1, 4), times(-1, 1), times(1), torch.tensor([1.0, 2.0])])
def test_diffuse_step_refuses_times_that_are_no_steps(t):
    x = torch.zeros(2, 1, 4, 5)
    with pytest.raises(ValueError, match="t must"):
        diffuse_step(x, t, x, by_hand([0.1, 0.2, 0.3]))


def test_diffuse_scales_each_image_by_its_own_time():
    x, t = normal(*SHAPE), times(5, 0, 2, 5, 1)
    schedule = by_hand(BETA)
    mean = diffuse(x, t, torch.zeros_like(x), schedule)
    for i, time in enumerate(t.tolist()):
        expected = math.sqrt(schedule.alpha_bar[time]) * x[i]
        assert_close(mean[i], expected, f"diffuse without noise, image {i} with t={time}", "equation (3)")


def test_diffuse_adds_noise_of_the_remaining_variance():
    noise, t = normal(*SHAPE, seed=1), times(4, 1, 0, 3, 5)
    schedule = by_hand(BETA)
    spread = diffuse(torch.zeros_like(noise), t, noise, schedule)
    for i, time in enumerate(t.tolist()):
        expected = math.sqrt(1 - schedule.alpha_bar[time]) * noise[i]
        assert_close(spread[i], expected, f"diffuse of 0, image {i} with t={time}", "equation (3)")


def test_diffuse_to_time_0_returns_the_clean_image():
    x = normal(2, 3, 4, 5)
    same = diffuse(x, times(0, 0), normal(2, 3, 4, 5, seed=1), by_hand(BETA))
    assert_close(same, x, "diffuse(x, t=0, noise)", "equation (3) with alpha_bar_0 = 1", atol=1e-12)


@pytest.mark.parametrize("n_steps", [1, 7, 20])
def test_diffuse_is_what_single_steps_amount_to(n_steps):
    """By linearity: the image fades alike, and the variances of the single noises add up to that of the leap."""
    schedule = by_hand((torch.linspace(0.01, 0.2, n_steps) if n_steps > 1 else torch.tensor([0.3])).tolist())
    one, zero = torch.ones(1, 1, 1, 1).double(), torch.zeros(1, 1, 1, 1).double()

    def walk(x, noisy_step=None):
        for step in range(1, n_steps + 1):
            x = diffuse_step(x, times(step), one if step == noisy_step else zero, schedule)
        return x

    end = times(n_steps)
    call = f"{n_steps} calls of diffuse_step"
    assert_close(walk(one), diffuse(one, end, zero, schedule), f"{call} without noise", "diffuse, equation (3)")
    variance = sum(walk(zero, step) ** 2 for step in range(1, n_steps + 1))
    assert_close(
        variance, diffuse(zero, end, one, schedule) ** 2, f"the variance that {call} add", "diffuse, equation (3)"
    )


def test_diffuse_in_float32_is_right_to_seven_digits():
    """Rounding 1 - alpha_bar from float32 numbers leaves three digits at t = 1; 1e-6 is eight units in the last place."""
    schedule = by_hand([1e-5, 0.3, 0.999, 0.999])
    x, t = torch.zeros(4, 1, 2, 3), times(1, 2, 3, 4)
    noisy = diffuse(x, t, torch.ones_like(x), schedule)
    assert noisy.dtype == torch.float32, f"diffuse of float32 images returned {noisy.dtype}"
    expected = (1 - schedule.alpha_bar[1:]).sqrt().reshape(4, 1, 1, 1).expand(4, 1, 2, 3)
    assert_close(noisy, expected, "diffuse of float32 zeros with noise 1", "equation (3)", rtol=1e-6)


def test_diffuse_and_diffuse_step_leave_their_arguments_alone():
    x, noise, t = normal(*SHAPE), normal(*SHAPE, seed=1), times(1, 2, 3, 4, 5)
    before = x.clone(), noise.clone(), t.clone()
    schedule = by_hand(BETA)
    diffuse(x, t, noise, schedule)
    diffuse_step(x, t, noise, schedule)
    unchanged = all(torch.equal(a, b) for a, b in zip(before, (x, noise, t)))
    assert unchanged, "diffuse or diffuse_step changed the images, the noise or the times that it was given"
    assert_close(schedule.alpha_bar, by_hand(BETA).alpha_bar, "alpha_bar after diffuse", "its value before")


@pytest.mark.given
def test_diffuse_refuses_shapes_that_do_not_fit():
    schedule, x = by_hand([0.1, 0.2]), torch.zeros(2, 1, 4, 5)
    with pytest.raises(ValueError, match="images and noise"):
        diffuse(x, times(1, 2), torch.zeros(2, 1, 5, 4), schedule)
    with pytest.raises(ValueError, match="images and noise"):
        diffuse(x[0], times(1), x[0], schedule)
    for t in (times(1, 3), times(-1, 0), times(1), torch.tensor([0.0, 1.0])):
        with pytest.raises(ValueError, match="t must"):
            diffuse(x, t, x, schedule)
