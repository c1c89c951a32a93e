r"""What the network predicts: noise, clean image or velocity, and how much each time counts in the loss.

## Idea

A noisy image is a mixture of a clean image and of noise, in known proportions. Whoever knows one of the two knows the
other, so a network may be taught to name either, or a combination of both. The three are one and the same denoiser, yet
they do not learn alike: a small error in one is a large error in another, and which one depends on the time. A choice of
what to predict is a choice of which times to take seriously, and it is better made openly, by a weight.

## Maths

Write $\alpha_t = \sqrt{\bar\alpha_t}$ and $\sigma_t = \sqrt{1 - \bar\alpha_t}$, so that $\alpha_t^2 + \sigma_t^2 = 1$ and
the forward process is

$$x_t = \alpha_t\, x_0 + \sigma_t\, \varepsilon. \tag{1}$$

Since the squares add up to one, there is an angle with $\alpha_t = \cos\varphi_t$ and $\sigma_t = \sin\varphi_t$: as $t$
grows, $x_t$ turns from the image to the noise along a circle. The derivative with respect to the angle is the *velocity*
[1],

$$v_t = \alpha_t\, \varepsilon - \sigma_t\, x_0. \tag{2}$$

Equations (1) and (2) together are a rotation by $\varphi_t$ of the pair $(x_0, \varepsilon)$. A rotation is undone by its
transpose:

$$x_0 = \alpha_t\, x_t - \sigma_t\, v_t, \qquad \varepsilon = \sigma_t\, x_t + \alpha_t\, v_t. \tag{3}$$

No division, hence nothing to go wrong at either end. From noise or image alone, (1) has to be solved for the other, and
that divides: by $\alpha_t$, next to nothing at the end of the road, or by $\sigma_t$, next to nothing at its beginning.

**Errors.** Let a network's guess be off by $\Delta x_0$, $\Delta\varepsilon$ or $\Delta v$ according to what it predicts.
As $x_t$ is known, (1) and (3) say how these hang together: $\alpha_t\, \Delta x_0 = -\sigma_t\, \Delta\varepsilon$ and
$\Delta x_0 = -\sigma_t\, \Delta v$. With the signal-to-noise ratio $\mathrm{snr} = \alpha_t^2 / \sigma_t^2$, for which
$1 / \sigma_t^2 = 1 + \mathrm{snr}$,

$$\lVert \Delta\varepsilon \rVert^2 = \mathrm{snr} \cdot \lVert \Delta x_0 \rVert^2, \qquad
\lVert \Delta v \rVert^2 = (1 + \mathrm{snr}) \cdot \lVert \Delta x_0 \rVert^2. \tag{4}$$

So the plain squared error in the noise, which made diffusion famous, is a squared error in the image with a weight that
runs over eight orders of magnitude. With such weights the nearly clean images get all the attention.

**Min-SNR.** Hang et al. [2] regard the times as tasks that compete for one network, and cut the weight off: in units of
the image it is to be $\min(\mathrm{snr}, \gamma)$, with $\gamma = 5$. Whatever the network predicts, the same total loss
is meant, so the weight of the error that is actually measured follows from (4):

$$w_{x_0} = \min(\mathrm{snr}, \gamma), \qquad w_\varepsilon = \frac{\min(\mathrm{snr}, \gamma)}{\mathrm{snr}}, \qquad
w_v = \frac{\min(\mathrm{snr}, \gamma)}{1 + \mathrm{snr}}. \tag{5}$$

With $\gamma = \infty$ these are $\mathrm{snr}$, $1$ and $\bar\alpha_t$: the plain loss in the noise, seen from three
sides. The loss of one image with $D$ pixel values (channels included) and target $y$ is then

$$\ell = w(t) \cdot \frac{1}{D} \lVert \hat y - y \rVert^2. \tag{6}$$

## Worked example

Let $\bar\alpha_t = 0.64$, so $\alpha_t = 0.8$ and $\sigma_t = 0.6$. A pixel $x_0 = 0.5$ with noise $\varepsilon = -1$
becomes $x_t = 0.4 - 0.6 = -0.2$, and its velocity is $-0.8 - 0.3 = -1.1$. Back by (3):
$0.8 \cdot (-0.2) + 0.6 \cdot 1.1 = 0.5$ and $0.6 \cdot (-0.2) - 0.8 \cdot 1.1 = -1$.

A network predicts $\hat v = -1.0$, off by $0.1$. Its image is $-0.16 + 0.6 = 0.44$, off by $-0.06$; its noise is $-0.92$,
off by $0.08$. The ratio is $0.64 / 0.36 = 1.778$, and (4) holds: $0.0064 = 1.778 \cdot 0.0036$ and
$0.01 = 2.778 \cdot 0.0036$. With $\gamma = 1$ the three weights are $1$, $0.5625$ and $0.36$, and the loss (6) is
$0.0036$ each time.

## Plan

The kind of a prediction is a word: `"noise"`, `"clean"` or `"velocity"`. A `Schedule` holds `alpha_bar`, a
vector of $T + 1$ entries in float64, of which index $t$ belongs to $x_t$. All results are in the precision of the images.

- `target` returns what a prediction of a kind should be, given the truth: $\varepsilon$, $x_0$ or (2).
- `to_clean` turns a prediction of any kind into the image that it implies: (1) or (3).
- `to_noise` turns it into the noise that it implies.
- `convert` turns any kind into any other.
- `min_snr_weight` returns (5) for a vector of signal-to-noise ratios, also where they are 0 or infinite.
- `weighted_loss` returns (6), one number per image; whoever trains takes the mean.

## Pitfalls

- The conversions are right in the middle of the road and full of noise at one of its ends: what was divided, and by what?
- Training works for one kind only; with another the samples are too smooth, or never finished: whose weight was used?
- A NaN in the very first entry of the weights.
- 32-bit images come out as 64-bit ones, or right to three digits only: when was the schedule brought to their precision,
  before the roots were taken or after?

## Cost

Some multiplications per pixel: nothing beside the network.

## Go further

Train one network of each kind with weights that make their losses equal by (5), and again with all weights one; compare the
samples. Stretch goal: derive the weight that makes (6) a term of the variational bound, and see where it puts its mass.

## References

1. Salimans & Ho (2022), Progressive distillation for fast sampling of diffusion models, https://arxiv.org/abs/2202.00512
2. Hang et al. (2023), Efficient diffusion training via min-SNR weighting strategy, https://arxiv.org/abs/2303.09556
3. Ho, Jain & Abbeel (2020), Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239
"""

# 6 parts to write. Test them with: pytest exercises/models/generative/ddpm/parameterization.py

from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlpath.models.generative.ddpm.forward import Schedule, per_image

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]
Kind = Literal["noise", "clean", "velocity"]


def _check(*kinds: str, images: Tensor, other: Tensor, t: Tensor, schedule: Schedule) -> None:  # given: argument checks
    for kind in kinds:
        _check_kind(kind)
    if images.ndim != 4 or images.shape != other.shape:
        raise ValueError(
            f"images must have one shape (batch, channels, height, width), got {tuple(images.shape)} "
            f"and {tuple(other.shape)}"
        )
    if t.shape != images.shape[:1] or t.is_floating_point():
        raise ValueError(f"t must hold one integer for each of {len(images)} images, got {t.dtype} {tuple(t.shape)}")
    if len(t) and not 1 <= t.min() <= t.max() <= schedule.n_steps:
        raise ValueError(f"t must lie between 1 and {schedule.n_steps}, got {t.min()} to {t.max()}")


def _check_kind(kind: str) -> None:  # given: argument check
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")


def target(kind: Kind, clean: Images, noise: Images, t: Times, schedule: Schedule) -> Images:
    r"""Return what a prediction should be.

    Parameters
    ----------
    kind : {"noise", "clean", "velocity"}
        What is predicted.
    clean : Tensor
        The images $x_0$.
    noise : Tensor
        The noise $\varepsilon$ that was added to them.
    t : Tensor
        For each image its time, from 1 to T.
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        `noise`, `clean`, or the velocity of equation (2), in the precision of the images.

    Raises
    ------
    ValueError
        If the kind is none of the three, shapes do not fit, or a time lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> schedule, t = schedule_from_beta(torch.tensor([0.36])), torch.tensor([1])
    >>> clean, noise = torch.full((1, 1, 1, 1), 0.5), torch.full((1, 1, 1, 1), -1.0)
    >>> round(target("velocity", clean, noise, t, schedule).item(), 4)
    -1.1
    """
    # given: the checks
    _check(kind, images=clean, other=noise, t=t, schedule=schedule)
    raise NotImplementedError("not written yet: target")


def to_clean(prediction: Images, kind: Kind, noisy: Images, t: Times, schedule: Schedule) -> Images:
    r"""Return the clean images that a prediction implies, by equation (1) or (3).

    Parameters
    ----------
    prediction : Tensor
        What the network says.
    kind : {"noise", "clean", "velocity"}
        What it means.
    noisy : Tensor
        The images $x_t$ that it saw.
    t : Tensor
        For each image its time, from 1 to T.
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        The implied $x_0$, in the precision of the images. From noise it is not finite where $\bar\alpha_t = 0$, for then $x_t$ says nothing of the image;
        from velocity it always is.

    Raises
    ------
    ValueError
        If the kind is none of the three, shapes do not fit, or a time lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> schedule, t = schedule_from_beta(torch.tensor([0.36])), torch.tensor([1])
    >>> prediction, noisy = torch.full((1, 1, 1, 1), -1.0), torch.full((1, 1, 1, 1), -0.2)
    >>> round(to_clean(prediction, "velocity", noisy, t, schedule).item(), 4)
    0.44
    """
    # given: the checks
    _check(kind, images=noisy, other=prediction, t=t, schedule=schedule)
    raise NotImplementedError("not written yet: to_clean")


def to_noise(prediction: Images, kind: Kind, noisy: Images, t: Times, schedule: Schedule) -> Images:
    r"""Return the noise that a prediction implies, by equation (1) or (3).

    Parameters
    ----------
    prediction : Tensor
        What the network says.
    kind : {"noise", "clean", "velocity"}
        What it means.
    noisy : Tensor
        The images $x_t$ that it saw.
    t : Tensor
        For each image its time, from 1 to T.
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        The implied $\varepsilon$, in the precision of the images. From a clean image it is not finite where $\bar\alpha_t = 1$.

    Raises
    ------
    ValueError
        If the kind is none of the three, shapes do not fit, or a time lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> schedule, t = schedule_from_beta(torch.tensor([0.36])), torch.tensor([1])
    >>> prediction, noisy = torch.full((1, 1, 1, 1), -1.0), torch.full((1, 1, 1, 1), -0.2)
    >>> round(to_noise(prediction, "velocity", noisy, t, schedule).item(), 4)
    -0.92
    """
    # given: the checks
    _check(kind, images=noisy, other=prediction, t=t, schedule=schedule)
    raise NotImplementedError("not written yet: to_noise")


def convert(prediction: Images, source: Kind, destination: Kind, noisy: Images, t: Times, schedule: Schedule) -> Images:
    """Say the same thing in another kind.

    Parameters
    ----------
    prediction : Tensor
        What the network says.
    source, destination : {"noise", "clean", "velocity"}
        What it means, and what to turn it into.
    noisy : Tensor
        The images that it saw.
    t : Tensor
        For each image its time, from 1 to T.
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        The prediction in its new kind, in the precision of the images; bit for bit the old one where both kinds are the same.

    Raises
    ------
    ValueError
        If a kind is none of the three, shapes do not fit, or a time lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> schedule, t = schedule_from_beta(torch.tensor([0.36])), torch.tensor([1])
    >>> noise, noisy = torch.full((1, 1, 1, 1), -1.0), torch.full((1, 1, 1, 1), -0.2)
    >>> round(convert(noise, "noise", "velocity", noisy, t, schedule).item(), 4)
    -1.1
    """
    # given: the checks
    _check(source, destination, images=noisy, other=prediction, t=t, schedule=schedule)
    raise NotImplementedError("not written yet: convert")


def min_snr_weight(kind: Kind, snr: Float[Tensor, " n"], *, gamma: float = 5.0) -> Float[Tensor, " n"]:
    r"""Return how much the squared error counts at each signal-to-noise ratio, equation (5).

    Parameters
    ----------
    kind : {"noise", "clean", "velocity"}
        In what the error is measured.
    snr : Tensor
        The ratios, from 0 to infinity, both included.
    gamma : float
        Where the weight of the error in the image is cut off, positive; infinite for no cut.

    Returns
    -------
    Tensor
        The weights. At a ratio of 0 or infinity they are the limits of (5).

    Raises
    ------
    ValueError
        If the kind is none of the three, a ratio is negative or NaN, or `gamma` is not positive.

    Examples
    --------
    >>> snr = torch.tensor([0.0, 0.25, 1.0, 10.0, float("inf")])
    >>> min_snr_weight("velocity", snr).numpy().round(4)
    array([0.    , 0.2   , 0.5   , 0.4545, 0.    ], dtype=float32)
    """
    # given: the checks
    _check_kind(kind)
    if not bool((snr >= 0).all()):
        raise ValueError(f"snr must not be negative, got {snr}")
    if not gamma > 0:
        raise ValueError(f"gamma must be positive, got {gamma}")
    raise NotImplementedError("not written yet: min_snr_weight")


def weighted_loss(
    prediction: Images,
    kind: Kind,
    clean: Images,
    noise: Images,
    t: Times,
    schedule: Schedule,
    *,
    weight: Float[Tensor, " times"],
) -> Float[Tensor, " batch"]:
    """Return the loss of each image, equation (6).

    Parameters
    ----------
    prediction : Tensor
        What the network says.
    kind : {"noise", "clean", "velocity"}
        What it means.
    clean, noise : Tensor
        The truth: the images and the noise that was added to them.
    t : Tensor
        For each image its time, from 1 to T.
    schedule : Schedule
        Of T steps.
    weight : Tensor
        How much each time from 0 to T counts, as from `min_snr_weight` of the schedule's ratios.

    Returns
    -------
    Tensor
        One number per image: the weight of its time, times its squared error averaged over pixels and channels; in the precision
        of the images.

    Raises
    ------
    ValueError
        If the kind is none of the three, shapes do not fit, or a time lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta, snr
    >>> schedule, t = schedule_from_beta(torch.tensor([0.36])), torch.tensor([1])
    >>> clean, noise = torch.full((1, 1, 1, 1), 0.5), torch.full((1, 1, 1, 1), -1.0)
    >>> prediction, weight = torch.full((1, 1, 1, 1), -1.0), min_snr_weight("velocity", snr(schedule), gamma=1.0)
    >>> round(weighted_loss(prediction, "velocity", clean, noise, t, schedule, weight=weight).item(), 4)
    0.0036
    """
    # given: the checks
    _check(kind, images=clean, other=prediction, t=t, schedule=schedule)
    if weight.shape != schedule.beta.shape:
        raise ValueError(f"weight must have an entry for each time, {len(schedule.beta)}, got {tuple(weight.shape)}")
    raise NotImplementedError("not written yet: weighted_loss")
