"""Shared tests of models/generative/ddpm/parameterization: run on the reference, and on the learner's file.

All of it is exact. In float64 results are compared to 1e-9, which leaves room for the division by alpha = 0.03 at the end of
the schedule used here (rounding of 1e-16 becomes 3e-15) and none for a wrong sign, factor or index.
"""

import math

import pytest
import torch

from mlpath.models.generative.ddpm.forward import Schedule
from mlpath.models.generative.ddpm.parameterization import (
    convert,
    min_snr_weight,
    target,
    to_clean,
    to_noise,
    weighted_loss,
)
from mlpath.testing import assert_close

KINDS = ["noise", "clean", "velocity"]
SHAPE = (5, 2, 3, 7)
ALPHA_BAR = [1.0, 0.999, 0.7, 0.5, 0.1, 0.001]
T = torch.tensor([5, 1, 3, 2, 4])
INF = math.inf


def schedule_of(alpha_bar=ALPHA_BAR):
    kept = torch.tensor(alpha_bar, dtype=torch.float64)
    return Schedule(torch.cat([kept.new_zeros(1), 1 - kept[1:] / kept[:-1].clamp(min=1e-300)]), kept)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mixture(t=T, shape=SHAPE, alpha_bar=ALPHA_BAR):
    """(clean, noise, noisy, velocity), mixed by hand with equations (1) and (2)."""
    clean, noise = normal(*shape), normal(*shape, seed=1)
    alpha = torch.tensor([math.sqrt(alpha_bar[i]) for i in t.tolist()], dtype=torch.float64).reshape(-1, 1, 1, 1)
    sigma = torch.tensor([math.sqrt(1 - alpha_bar[i]) for i in t.tolist()], dtype=torch.float64).reshape(-1, 1, 1, 1)
    return clean, noise, alpha * clean + sigma * noise, alpha * noise - sigma * clean


def truth(kind, clean, noise, velocity):
    return {"noise": noise, "clean": clean, "velocity": velocity}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_target_is_what_a_perfect_network_would_say(kind):
    clean, noise, _, velocity = mixture()
    got = target(kind, clean, noise, T, schedule_of())
    assert_close(got, truth(kind, clean, noise, velocity), f"target({kind!r}, ...)", "its definition, or equation (2)")


def test_target_of_velocity_is_orthogonal_to_the_noisy_image():
    """The pair (x_t, v) is a rotation of (x_0, e): from unit vectors it makes unit vectors, at a right angle."""
    zero, one, t = torch.zeros(5, 1, 1, 1).double(), torch.ones(5, 1, 1, 1).double(), torch.arange(1, 6)
    of_clean = target("velocity", one, zero, t, schedule_of()).flatten()
    of_noise = target("velocity", zero, one, t, schedule_of()).flatten()
    alpha, sigma = schedule_of().alpha_bar[1:].sqrt(), (1 - schedule_of().alpha_bar[1:]).sqrt()
    assert_close(of_clean**2 + of_noise**2, torch.ones(5), "the squares of the velocity's coefficients", "a rotation")
    assert_close(alpha * of_clean + sigma * of_noise, torch.zeros(5), "(x_t, v)", "their right angle", atol=1e-12)
    assert (of_noise > 0).all(), (
        "the velocity points from the image to the noise: by (2) its part of the noise is positive"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_target_keeps_the_precision_of_the_images(kind):
    got = target(kind, normal(*SHAPE).float(), normal(*SHAPE, seed=1).float(), T, schedule_of())
    assert got.dtype == torch.float32, f"target({kind!r}) of float32 images returned {got.dtype}; expected float32"


@pytest.mark.parametrize("kind", KINDS)
def test_to_clean_recovers_the_image_from_a_perfect_prediction(kind):
    clean, noise, noisy, velocity = mixture()
    got = to_clean(truth(kind, clean, noise, velocity), kind, noisy, T, schedule_of())
    assert_close(
        got, clean, f"to_clean(true {kind}, {kind!r}, ...)", "equations (1) and (3): x_0", rtol=1e-9, atol=1e-9
    )


def test_to_clean_magnifies_errors_as_equation_4_says():
    clean, noise, noisy, velocity = mixture()
    wrong = normal(*SHAPE, seed=2)
    snr = (schedule_of().alpha_bar / (1 - schedule_of().alpha_bar))[T].reshape(-1, 1, 1, 1)
    for kind, factor in [
        ("noise", -1 / snr.sqrt()),
        ("velocity", -1 / (1 + snr).sqrt()),
        ("clean", torch.ones_like(snr)),
    ]:
        got = to_clean(truth(kind, clean, noise, velocity) + wrong, kind, noisy, T, schedule_of()) - clean
        assert_close(got, factor * wrong, f"the error of to_clean, {kind!r} being wrong", "equation (4)", atol=1e-9)


def test_to_clean_from_velocity_never_divides():
    """alpha_bar is exactly 0 at the end, as in schedules rescaled to end in pure noise; there v = -x_0 and x_t = e."""
    ends, t = [1.0, 1 - 1e-12, 0.0], torch.tensor([1, 2])
    clean, _, noisy, velocity = mixture(t, (2, 1, 2, 3), ends)
    got = to_clean(velocity, "velocity", noisy, t, schedule_of(ends))
    assert_close(got, clean, "to_clean from velocity at both ends", "equation (3)", atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_to_clean_keeps_the_precision_of_the_images(kind):
    said, noisy = normal(*SHAPE).float(), normal(*SHAPE, seed=1).float()
    got = to_clean(said, kind, noisy, T, schedule_of())
    assert got.dtype == torch.float32, f"to_clean of float32 images and {kind} returned {got.dtype}; expected float32"


@pytest.mark.parametrize("kind", KINDS)
def test_to_noise_recovers_the_noise_from_a_perfect_prediction(kind):
    clean, noise, noisy, velocity = mixture()
    got = to_noise(truth(kind, clean, noise, velocity), kind, noisy, T, schedule_of())
    assert_close(got, noise, f"to_noise(true {kind}, {kind!r}, ...)", "equations (1) and (3): the noise", atol=1e-9)


def test_to_noise_from_velocity_never_divides():
    """Neither by alpha, 0 at the end, nor by sigma: alpha_bar may be 1 at the beginning, where v is the noise."""
    ends, t = [1.0, 1.0, 0.0], torch.tensor([1, 2])
    _, noise, noisy, velocity = mixture(t, (2, 1, 2, 3), ends)
    got = to_noise(velocity, "velocity", noisy, t, schedule_of(ends))
    assert_close(got, noise, "to_noise from velocity at both ends", "equation (3)", atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_to_noise_and_to_clean_of_any_prediction_mix_to_the_noisy_image(kind):
    """Also of a prediction that is nonsense: the implied image and noise always satisfy (1)."""
    _, _, noisy, _ = mixture()
    said = normal(*SHAPE, seed=3)
    clean, noise = to_clean(said, kind, noisy, T, schedule_of()), to_noise(said, kind, noisy, T, schedule_of())
    kept = schedule_of().alpha_bar[T].reshape(-1, 1, 1, 1)
    mixed = kept.sqrt() * clean + (1 - kept).sqrt() * noise
    assert_close(mixed, noisy, f"image and noise implied by a {kind}, mixed by (1)", "the noisy image", atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_to_noise_keeps_the_precision_of_the_images(kind):
    said, noisy = normal(*SHAPE).float(), normal(*SHAPE, seed=1).float()
    got = to_noise(said, kind, noisy, T, schedule_of())
    assert got.dtype == torch.float32, f"to_noise of float32 images and {kind} returned {got.dtype}; expected float32"


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("destination", KINDS)
def test_convert_turns_any_kind_into_any_other(source, destination):
    clean, noise, noisy, velocity = mixture()
    got = convert(truth(source, clean, noise, velocity), source, destination, noisy, T, schedule_of())
    expected = truth(destination, clean, noise, velocity)
    assert_close(
        got, expected, f"convert(true {source}, {source!r}, {destination!r})", "equations (1) to (3)", atol=1e-9
    )


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("destination", KINDS)
def test_convert_there_and_back_changes_nothing(source, destination):
    _, _, noisy, _ = mixture()
    said = normal(*SHAPE, seed=3)
    there = convert(said, source, destination, noisy, T, schedule_of())
    back = convert(there, destination, source, noisy, T, schedule_of())
    assert_close(back, said, f"convert from {source} to {destination} and back", "the prediction itself", atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_convert_to_the_same_kind_is_exact_where_others_divide_by_zero(kind):
    ends, t = [1.0, 1.0 - 1e-16, 0.0], torch.tensor([1, 2])
    said, noisy = normal(2, 1, 2, 3, seed=3), normal(2, 1, 2, 3, seed=4)
    got = convert(said, kind, kind, noisy, t, schedule_of(ends))
    assert torch.equal(got, said), f"convert(x, {kind!r}, {kind!r}) changed x by up to {abs(got - said).max():.2g}"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_convert_keeps_the_precision_and_its_arguments(kind, dtype):
    said, noisy, t = normal(*SHAPE).to(dtype), normal(*SHAPE, seed=1).to(dtype), T.clone()
    before = said.clone(), noisy.clone()
    for destination in KINDS:
        got = convert(said, kind, destination, noisy, t, schedule_of())
        assert got.dtype == dtype, f"convert({dtype} {kind}, ..., {destination!r}) returned {got.dtype}"
    unchanged = torch.equal(said, before[0]) and torch.equal(noisy, before[1]) and torch.equal(t, T)
    assert unchanged, f"convert changed what it was given, from {kind}"


def test_convert_in_float32_keeps_what_float32_can():
    """1 - alpha_bar formed in float32 has two digits at alpha_bar = 1 - 1e-5; formed in float64, all are right to 1e-5."""
    ends, t = [1.0, 1 - 1e-5], torch.tensor([1])
    _, _, noisy, velocity = mixture(t, (1, 1, 2, 3), ends)
    got = convert(velocity.float(), "velocity", "clean", torch.zeros_like(noisy).float(), t, schedule_of(ends))
    expected = -math.sqrt(1e-5) * velocity
    call, why = "convert(v, 'velocity', 'clean') of float32, x_t = 0", "as a float32 has 7 digits"
    assert_close(got, expected, call, "equation (3)", rtol=1e-5, tolerance=why)


@pytest.mark.given
def test_convert_and_target_refuse_what_they_do_not_know():
    x, t, schedule = torch.zeros(2, 1, 4, 5), torch.tensor([1, 2]), schedule_of()
    for call in (
        lambda: target("score", x, x, t, schedule),
        lambda: to_clean(x, "eps", x, t, schedule),
        lambda: to_noise(x, "eps", x, t, schedule),
        lambda: convert(x, "noise", "eps", x, t, schedule),
        lambda: min_snr_weight("eps", torch.ones(3)),
        lambda: weighted_loss(x, "eps", x, x, t, schedule, weight=schedule.beta),
    ):
        with pytest.raises(ValueError, match="kind"):
            call()
    for bad in (torch.tensor([0, 1]), torch.tensor([1, 6]), torch.tensor([1]), torch.tensor([1.0, 2.0])):
        with pytest.raises(ValueError, match="t must"):
            convert(x, "noise", "clean", x, bad, schedule)
    for call in (
        lambda: convert(x, "noise", "noise", x[:, :, :3], t, schedule),
        lambda: weighted_loss(x[:, :, :3], "noise", x, x, t, schedule, weight=schedule.beta),
        lambda: to_clean(x[0], "noise", x[0], t, schedule),
    ):
        with pytest.raises(ValueError, match="images must"):
            call()


@pytest.mark.parametrize("gamma", [0.3, 1.0, 5.0, 40.0])
@pytest.mark.parametrize("kind", KINDS)
def test_min_snr_weight_cuts_the_weight_of_the_image_off_at_gamma(kind, gamma):
    snr = torch.tensor([1e-6, 0.02, 0.3, 1.0, 4.9, 5.0, 5.1, 40.0, 3e5], dtype=torch.float64)
    expected = []
    for ratio in snr.tolist():
        measured = {"clean": 1.0, "noise": ratio, "velocity": 1 + ratio}[kind]
        expected.append(min(ratio, gamma) / measured)
    got = min_snr_weight(kind, snr, gamma=gamma)
    assert_close(got, expected, f"min_snr_weight({kind!r}, snr, gamma={gamma})", "equation (5)")


def test_min_snr_weight_cuts_at_five_unless_told_otherwise():
    got = min_snr_weight("clean", torch.tensor([4.0, 6.0]))
    assert_close(got, [4.0, 5.0], "min_snr_weight('clean', [4, 6])", "equation (5), gamma = 5")


@pytest.mark.parametrize(("kind", "expected"), [("clean", [0.0, 5.0]), ("noise", [1.0, 0.0]), ("velocity", [0.0, 0.0])])
def test_min_snr_weight_reaches_its_limits_at_zero_and_infinity(kind, expected):
    got = min_snr_weight(kind, torch.tensor([0.0, INF], dtype=torch.float64))
    assert_close(got, expected, f"min_snr_weight({kind!r}, [0, inf])", "the limits of (5)")


def test_min_snr_weight_without_a_cut_is_the_plain_loss_in_the_noise():
    snr = torch.tensor([0.0, 1e-150, 1e-3, 7.0, 1e150, INF], dtype=torch.float64)
    kept = [0.0, 1e-150, 1e-3 / 1.001, 7 / 8, 1.0, 1.0]
    for kind, expected in [("clean", snr), ("noise", torch.ones(6)), ("velocity", kept)]:
        got = min_snr_weight(kind, snr, gamma=INF)
        assert_close(got, expected, f"min_snr_weight({kind!r}, snr, gamma=inf)", "(5) without a cut")


def test_min_snr_weight_leaves_the_ratios_alone():
    snr = torch.tensor([0.0, 3.0, 30.0], dtype=torch.float32)
    for kind in KINDS:
        got = min_snr_weight(kind, snr)
        assert got.dtype == torch.float32, f"min_snr_weight({kind!r}, float32 ratios) returned {got.dtype}"
    assert snr.tolist() == [0.0, 3.0, 30.0], "min_snr_weight changed the ratios that it was given"


@pytest.mark.given
def test_min_snr_weight_refuses_negative_ratios_and_cuts():
    for snr in ([-0.1, 1.0], [math.nan]):
        with pytest.raises(ValueError, match="snr"):
            min_snr_weight("noise", torch.tensor(snr))
    for gamma in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="gamma"):
            min_snr_weight("noise", torch.ones(2), gamma=gamma)


@pytest.mark.parametrize("kind", KINDS)
def test_weighted_loss_weighs_each_images_mean_squared_error(kind):
    clean, noise, _, velocity = mixture()
    wrong = normal(*SHAPE, seed=2)
    weight = torch.tensor([9.0, 0.2, 3.0, 0.0, 1.5, 7.0], dtype=torch.float64)
    said = truth(kind, clean, noise, velocity) + wrong
    got = weighted_loss(said, kind, clean, noise, T, schedule_of(), weight=weight)
    expected = [weight[t].item() * (wrong[i] ** 2).sum().item() / 42 for i, t in enumerate(T.tolist())]
    assert_close(got, expected, f"weighted_loss of a {kind}", "equation (6), one number per image")


def test_weighted_loss_is_the_same_for_all_kinds_with_the_weights_of_equation_5():
    """One denoiser, asked in three ways: with (5) the three losses are equal, for any cut."""
    clean, noise, noisy, _ = mixture()
    schedule, snr = schedule_of(), schedule_of().alpha_bar / (1 - schedule_of().alpha_bar)
    image = clean + 0.3 * normal(*SHAPE, seed=2)
    for gamma in (0.1, 5.0):
        expected = snr[T].clamp(max=gamma) * (image - clean).square().mean(dim=(1, 2, 3))
        for kind in KINDS:
            said = convert(image, "clean", kind, noisy, T, schedule)
            weight = min_snr_weight(kind, snr, gamma=gamma)
            got = weighted_loss(said, kind, clean, noise, T, schedule, weight=weight)
            assert_close(
                got, expected, f"weighted_loss of a {kind} with gamma={gamma}", "(4) and (5): the same for all"
            )


def test_weighted_loss_passes_gradients_to_the_prediction_in_its_precision():
    clean, noise, _, _ = (x.float() for x in mixture())
    said = torch.zeros(SHAPE, requires_grad=True)
    loss = weighted_loss(said, "noise", clean, noise, T, schedule_of(), weight=torch.ones(6, dtype=torch.float64))
    assert loss.dtype == torch.float32, f"weighted_loss of float32 images returned {loss.dtype}"
    loss.sum().backward()
    assert said.grad is not None, "weighted_loss passed no gradient to the prediction"
    assert_close(
        said.grad,
        -2 / 42 * noise,
        "the gradient of weighted_loss",
        "equation (6)",
        rtol=1e-5,
        atol=1e-8,
        tolerance="as a float32 has 7 digits",
    )


@pytest.mark.given
def test_weighted_loss_refuses_weights_that_are_not_one_per_time():
    x = torch.zeros(2, 1, 4, 5)
    with pytest.raises(ValueError, match="weight"):
        weighted_loss(x, "noise", x, x, torch.tensor([1, 2]), schedule_of(), weight=torch.ones(5))
