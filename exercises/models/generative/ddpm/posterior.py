r"""The reverse process: walk back from noise to an image, one Gaussian step at a time.

## Idea

Going from $x_t$ back to $x_{t-1}$ is hard, for that depends on which images there are. If somebody told us the clean image,
it would be easy: the answer is a Gaussian that we can write down. So let a network guess the clean image, take one small
step as if the guess were true, and ask it again: the next guess, from a slightly cleaner image, will be a little better.

## Maths

The forward process [1] adds noise of variance $\beta_t$ at step $t$, and $\bar\alpha_t = \prod_{s \le t} (1 - \beta_s)$
of the image's variance is left at time $t$. Given the clean image, the state before step $t$ has the density
$q(x_{t-1} \mid x_0) = \mathcal{N}(\sqrt{\bar\alpha_{t-1}}\, x_0,\ (1 - \bar\alpha_{t-1}) I)$, and the step itself is
$q(x_t \mid x_{t-1}) = \mathcal{N}(\sqrt{1 - \beta_t}\, x_{t-1},\ \beta_t I)$. Bayes' rule multiplies the two:

$$\log q(x_{t-1} \mid x_t, x_0) = -\frac{\lVert x_t - \sqrt{1 - \beta_t}\, x_{t-1} \rVert^2}{2 \beta_t}
- \frac{\lVert x_{t-1} - \sqrt{\bar\alpha_{t-1}}\, x_0 \rVert^2}{2 (1 - \bar\alpha_{t-1})} + \text{const}. \tag{1}$$

This is quadratic in $x_{t-1}$, hence Gaussian. Its precision is the sum of the two precisions,
$(1 - \beta_t) / \beta_t + 1 / (1 - \bar\alpha_{t-1})$. Over a common denominator the numerator is
$(1 - \beta_t)(1 - \bar\alpha_{t-1}) + \beta_t = 1 - \bar\alpha_t$, so that the variance is

$$\tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}\, \beta_t. \tag{2}$$

The mean is the variance times the sum of what pulls at $x_{t-1}$, $\sqrt{1 - \beta_t}\, x_t / \beta_t$ from the state
after it and $\sqrt{\bar\alpha_{t-1}}\, x_0 / (1 - \bar\alpha_{t-1})$ from the image:

$$\tilde\mu_t(x_0, x_t) = \frac{\sqrt{\bar\alpha_{t-1}}\, \beta_t}{1 - \bar\alpha_t}\, x_0
+ \frac{\sqrt{1 - \beta_t}\, (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\, x_t. \tag{3}$$

At $t = 1$, where $\bar\alpha_0 = 1$, this is $x_0$ itself with variance 0: whoever knows the clean image is home.

**The model.** With a guess $\hat x_0(x_t, t)$ in the place of $x_0$, the reverse step is

$$p(x_{t-1} \mid x_t) = \mathcal{N}\big(\tilde\mu_t(\hat x_0, x_t),\ \sigma_t^2 I\big). \tag{4}$$

What should $\sigma_t^2$ be? If there were only one image, the guess would be perfect and $\tilde\beta_t$ exact. If the
images were themselves standard normal, $q(x_{t-1} \mid x_t)$ would have variance $\beta_t$. All real data lie in between
[1], and so does any geometric mean of the two [2], with a share $w$ between 0 and 1:

$$\sigma_t^2 = \beta_t^{\,w}\ \tilde\beta_t^{\,1 - w}. \tag{5}$$

**Ancestral sampling** starts at $x_T \sim \mathcal{N}(0, I)$, where the forward process ends whatever the image, and
draws from (4) for $t = T, \dots, 1$. The step to $x_0$ adds no noise: its mean is the last guess, and noise would only
show in the picture. If pixels are known to lie in an interval, guesses may be clipped to it before each step.

## Worked example

One pixel, two steps of variance 0.2 and 0.5: $\bar\alpha = (1, 0.8, 0.4)$. We stand at $x_2 = 0.9$ and guess
$\hat x_0 = 0.5$. Then

- $\tilde\beta_2 = (0.2 / 0.6) \cdot 0.5 = 0.1667$, a third of $\beta_2$;
- the guess enters with $\sqrt{0.8} \cdot 0.5 / 0.6 = 0.7454$, the state with $\sqrt{0.5} \cdot 0.2 / 0.6 = 0.2357$;
- $\tilde\mu_2 = 0.7454 \cdot 0.5 + 0.2357 \cdot 0.9 = 0.5848$.

With noise $\varepsilon = -1$ and $w = 0$ we move to $x_1 = 0.5848 - \sqrt{0.1667} = 0.1766$. Say that the network now
guesses $0.3$. As $\tilde\mu_1 = \hat x_0$, the sample is $0.3$.

## Plan

A `Schedule` holds `beta` and `alpha_bar`, two vectors of $T + 1$ entries in float64: index $t$ belongs to $x_t$, and
`alpha_bar[0]` is 1. `n_steps` is $T$.

- `posterior_variance` returns (2) for all times at once, a vector like the schedule's own.
- `posterior_mean` returns (3) for a batch, each image at its own step.
- `reverse_variance` returns (5) for all times.
- `ancestral_step` draws $x_{t-1}$ by (4) from given noise; where $t = 1$ it returns the mean.
- `sample` starts in noise and loops from $T$ down to 1. The guesser is an argument: anything that takes noisy images and
  their times and returns clean ones.

## Pitfalls

- Samples are good but grainy.
- Samples are slightly wrong in contrast, more so with few steps: which $\bar\alpha$ goes with $x_{t-1}$?
- A NaN at $t = 1$, in one of the variances.
- Images of one batch resemble each other.

## Cost

$T$ calls of the network, one after another; all else is negligible. This is why samplers that skip steps were invented.

## Go further

For Gaussian data the best guess is known: sample with it for $w = 0$, $0.5$ and $1$ and 5, 50 and 500 steps, and plot the
variance of the samples. Stretch goal: find the $\sigma_t^2$ that makes (4) exact for Gaussian data of any variance.

## References

1. Ho, Jain & Abbeel (2020), Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239
2. Nichol & Dhariwal (2021), Improved denoising diffusion probabilistic models (there the network chooses the share),
   https://arxiv.org/abs/2102.09672
3. Sohl-Dickstein et al. (2015), Deep unsupervised learning using nonequilibrium thermodynamics,
   https://arxiv.org/abs/1503.03585
"""

# 5 parts to write. Test them with: pytest exercises/models/generative/ddpm/posterior.py

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlpath.models.generative.ddpm.forward import Schedule, per_image

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]
Denoiser = Callable[[Images, Times], Images]


def _check(images: Tensor, other: Tensor, t: Tensor, schedule: Schedule) -> None:  # given: argument checks
    if images.ndim != 4 or images.shape != other.shape:
        raise ValueError(
            f"images must have one shape (batch, channels, height, width), got {tuple(images.shape)} "
            f"and {tuple(other.shape)}"
        )
    if t.shape != images.shape[:1] or t.is_floating_point():
        raise ValueError(f"t must hold one integer for each of {len(images)} images, got {t.dtype} {tuple(t.shape)}")
    if len(t) and not 1 <= t.min() <= t.max() <= schedule.n_steps:
        raise ValueError(f"t must lie between 1 and {schedule.n_steps}, got {t.min()} to {t.max()}")


def posterior_variance(schedule: Schedule) -> Float[Tensor, " times"]:
    r"""Return the variance of the state before each step, given the clean image and the state after it: equation (2).

    Parameters
    ----------
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        T + 1 numbers, entry t for the step from t to t - 1. Entry 1 is 0; entry 0 belongs to no step and is 0 too.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> posterior_variance(schedule_from_beta(torch.tensor([0.2, 0.5]))).numpy().round(4)
    array([0.    , 0.    , 0.1667])
    """
    raise NotImplementedError("not written yet: posterior_variance")


def posterior_mean(clean: Images, noisy: Images, t: Times, schedule: Schedule) -> Images:
    r"""Return where the state before step t lies on average, given the clean image and the state after it: equation (3).

    Parameters
    ----------
    clean : Tensor
        The images $x_0$, or guesses of them.
    noisy : Tensor
        The images $x_t$.
    t : Tensor
        For each image the step to undo, from 1 to T.
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        The mean of $x_{t-1}$, in the precision of the images. For t = 1 it is the clean image.

    Raises
    ------
    ValueError
        If shapes do not fit, or a step lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> clean, noisy = torch.full((1, 1, 1, 1), 0.5), torch.full((1, 1, 1, 1), 0.9)
    >>> schedule = schedule_from_beta(torch.tensor([0.2, 0.5]))
    >>> round(posterior_mean(clean, noisy, torch.tensor([2]), schedule).item(), 4)
    0.5848
    """
    # given: the checks
    _check(noisy, clean, t, schedule)
    raise NotImplementedError("not written yet: posterior_mean")


def reverse_variance(schedule: Schedule, *, share: float = 0.0) -> Float[Tensor, " times"]:
    r"""Return the variance of each reverse step, between the two extremes: equation (5).

    Parameters
    ----------
    schedule : Schedule
        Of T steps.
    share : float
        $w$: 0 gives $\tilde\beta_t$, exact for a single image; 1 gives $\beta_t$, exact for standard normal data.

    Returns
    -------
    Tensor
        T + 1 numbers, entry t for the step from t to t - 1; entry 0 belongs to no step and is 0.

    Raises
    ------
    ValueError
        If `share` does not lie between 0 and 1.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> reverse_variance(schedule_from_beta(torch.tensor([0.2, 0.5])), share=0.5).numpy().round(4)
    array([0.    , 0.    , 0.2887])
    """
    # given: the checks
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    raise NotImplementedError("not written yet: reverse_variance")


def ancestral_step(
    predicted: Images,
    noisy: Images,
    t: Times,
    noise: Images,
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
) -> Images:
    r"""Draw each image's state before step t, equation (4).

    Parameters
    ----------
    predicted : Tensor
        Guesses $\hat x_0$ of the clean images.
    noisy : Tensor
        The images $x_t$.
    t : Tensor
        For each image the step to undo, from 1 to T.
    noise : Tensor
        Standard normal, of the images' shape. Not used for images with t = 1.
    schedule : Schedule
        Of T steps.
    variance : Tensor
        $\sigma_t^2$ for t = 0 to T, as from `reverse_variance`.

    Returns
    -------
    Tensor
        The images $x_{t-1}$, in the precision of the images. For t = 1 the mean of (4), without noise whatever its variance.

    Raises
    ------
    ValueError
        If shapes do not fit, or a step lies outside 1 to T.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> schedule = schedule_from_beta(torch.tensor([0.2, 0.5]))
    >>> guess, noisy = torch.full((1, 1, 1, 1), 0.5), torch.full((1, 1, 1, 1), 0.9)
    >>> variance = reverse_variance(schedule)
    >>> before = ancestral_step(guess, noisy, torch.tensor([2]), -torch.ones(1, 1, 1, 1), schedule, variance=variance)
    >>> round(before.item(), 4)
    0.1766
    """
    # given: the checks
    _check(noisy, noise, t, schedule)
    if variance.shape != schedule.beta.shape:
        raise ValueError(
            f"variance must have an entry for each time, {len(schedule.beta)}, got {tuple(variance.shape)}"
        )
    raise NotImplementedError("not written yet: ancestral_step")


@torch.no_grad()
def sample(
    denoiser: Denoiser,
    shape: tuple[int, int, int, int],
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
    clip: tuple[float, float] | None = None,
    generator: torch.Generator,
) -> Float[Tensor, "batch channels height width"]:
    """Draw images by ancestral sampling, on the generator's device. No gradients are recorded.

    Parameters
    ----------
    denoiser : callable
        Called once for each step from T down to 1 with the noisy images and a vector that holds the step once per
        image; returns guesses of the clean images.
    shape : tuple of int
        What to draw: (batch, channels, height, width).
    schedule : Schedule
        Of T steps.
    variance : Tensor
        That of each reverse step, as from `reverse_variance`.
    clip : tuple of float, optional
        Lowest and highest value of a pixel: guesses are clipped to it before each step.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        The images, in float32. Only the guesses are clipped; the last step returns the last of them.

    Raises
    ------
    ValueError
        If `shape` has not four entries, or `clip` is no interval.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import cosine
    >>> def shrink(noisy, t):
    ...     return 0.9 * noisy
    >>> schedule, generator = cosine(20), torch.Generator().manual_seed(0)
    >>> images = sample(shrink, (4, 1, 8, 8), schedule, variance=schedule.beta, clip=(-1, 1), generator=generator)
    >>> images.shape, bool(abs(images).max() <= 1)
    (torch.Size([4, 1, 8, 8]), True)
    """
    # given: the checks
    if len(shape) != 4:
        raise ValueError(f"shape must be (batch, channels, height, width), got {tuple(shape)}")
    if clip is not None and not clip[0] < clip[1]:
        raise ValueError(f"clip must be an interval (low, high), got {clip}")
    raise NotImplementedError("not written yet: sample")
