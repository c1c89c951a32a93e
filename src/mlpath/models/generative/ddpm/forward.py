r"""The forward process: how an image turns into noise.

## Idea

Add a little Gaussian noise to an image, shrink the result a little so that its scale stays put, and repeat: after some
hundreds of steps nothing of the image is left. Generating an image will mean walking this road back. The road out needs
no learning at all, and, being Gaussian throughout, it can be taken in one leap to any of its stations.

## Maths

Call the image $x_0$, the number of steps $T$, and give each step $t = 1, \dots, T$ a variance $\beta_t \in (0, 1)$. With
fresh noise $\varepsilon \sim \mathcal{N}(0, I)$ at each step,

$$x_t = \sqrt{1 - \beta_t}\; x_{t-1} + \sqrt{\beta_t}\; \varepsilon. \tag{1}$$

If the pixels of $x_{t-1}$ have variance one, those of $x_t$ have $(1 - \beta_t) + \beta_t = 1$ again: the process preserves
variance. Now take two steps at once. The image is scaled by $\sqrt{(1 - \beta_1)(1 - \beta_2)}$, and the two independent
noises add up to one of variance $(1 - \beta_2)\beta_1 + \beta_2 = 1 - (1 - \beta_1)(1 - \beta_2)$. So it goes on: with

$$\bar\alpha_t = \prod_{s=1}^{t} (1 - \beta_s), \qquad \bar\alpha_0 = 1, \tag{2}$$

$t$ steps amount to a single draw,

$$x_t = \sqrt{\bar\alpha_t}\; x_0 + \sqrt{1 - \bar\alpha_t}\; \varepsilon. \tag{3}$$

What matters of a schedule is how much of the signal is left at each step, the ratio of the two variances in (3):

$$\mathrm{snr}(t) = \frac{\bar\alpha_t}{1 - \bar\alpha_t}. \tag{4}$$

**Schedules.** The *linear* one of [1] lets $\beta_t$ grow in equal steps,

$$\beta_t = \beta_1 + \frac{t - 1}{T - 1} (\beta_T - \beta_1). \tag{5}$$

It destroys small images long before the end. The *cosine* one of [2] prescribes $\bar\alpha$ instead,

$$\bar\alpha_t = \frac{f(t)}{f(0)}, \qquad f(t) = \cos^2\!\Big(\frac{t/T + s}{1 + s} \cdot \frac{\pi}{2}\Big), \qquad s = 0.008, \tag{6}$$

which falls almost linearly through the middle and is flat at both ends. From (2) follow the variances that lead there. The
last would be 1, for $f(T) = 0$: an infinitely small signal, and a reverse step that divides by zero. So they are clipped,

$$\beta_t = \min\Big(1 - \frac{\bar\alpha_t}{\bar\alpha_{t-1}},\ 0.999\Big), \tag{7}$$

and $\bar\alpha$ is what (2) makes of the clipped $\beta$, not any longer what (6) says, or (1) and (3) would be two
different processes.

**Counting.** Here index $t$ of an array belongs to $x_t$, as in the papers, and index 0 to the clean image: the arrays
have $T + 1$ entries. Most libraries drop entry 0 and count from $0$ to $T - 1$, so that their `alphas_cumprod[t]` is our
$\bar\alpha_{t+1}$. Which $\bar\alpha$ belongs to which $t$ is the commonest error in diffusion code [3]; samples made
with the wrong one look plausible, and only an identity finds it out.

## Worked example

Three steps of variances 0.1, 0.2 and 0.5 have $\bar\alpha = (1,\ 0.9,\ 0.72,\ 0.36)$. Take a pixel $x_0 = 2$ and let us
find the distribution of $x_3$ by single steps:

| | mean | variance |
|---|---|---|
| $x_1$ | $\sqrt{0.9} \cdot 2 = 1.897$ | $0.1$ |
| $x_2$ | $\sqrt{0.8} \cdot 1.897 = 1.697$ | $0.8 \cdot 0.1 + 0.2 = 0.28$ |
| $x_3$ | $\sqrt{0.5} \cdot 1.697 = 1.2$ | $0.5 \cdot 0.28 + 0.5 = 0.64$ |

In one leap, by (3): the mean is $\sqrt{0.36} \cdot 2 = 1.2$ and the variance $1 - 0.36 = 0.64$. The signal-to-noise ratio
has come down to $0.36 / 0.64 = 0.5625$.

## Plan

- `schedule_from_beta` takes $\beta_1, \dots, \beta_T$ and returns a `Schedule` with both arrays of $T + 1$ entries, by (2).
- `linear` makes the schedule of (5).
- `cosine` makes that of (6) and (7).
- `snr` returns (4) for all $t$ at once.
- `per_image` looks up one number for each image of a batch, shaped so that it multiplies the whole image.
- `diffuse_step` takes a batch from $x_{t-1}$ to $x_t$, by (1).
- `diffuse` takes it from $x_0$ to $x_t$, by (3), with its own $t$ for each image.

The noise is an argument of the last two, for the loss will need to know it.

## Pitfalls

- Everything works with a batch of eight 8 × 8 images, and nothing with other sizes: along which axis was $t$ spread?
- With 32-bit images the first steps carry noise of slightly wrong strength: where was $1 - \bar\alpha$ subtracted, and in
  which precision?
- Stepping 1,000 times and leaping once agree everywhere but at the last step of the cosine schedule.

## Cost

O(T) once for a schedule; O(pixels) for a leap, whatever $t$.

## Go further

Draw $\log \mathrm{snr}$ of the linear and the cosine schedule against $t/T$ and find how many of the 1,000 steps have a
ratio between 0.1 and 10, where a denoiser has something to learn. Stretch goal: write the sigmoid schedule of [4], which
prescribes $\bar\alpha$ as cosine does, and the rescaling of [5], which makes $\bar\alpha_T$ exactly zero; what breaks
then?

## References

1. Ho, Jain & Abbeel (2020), Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239
2. Nichol & Dhariwal (2021), Improved denoising diffusion probabilistic models, https://arxiv.org/abs/2102.09672
3. One such error and its discovery: https://github.com/lucidrains/denoising-diffusion-pytorch/issues/81
4. Jabri, Fleet & Chen (2022), Scalable adaptive computation for iterative generation, https://arxiv.org/abs/2212.11972
5. Lin et al. (2023), Common diffusion noise schedules and sample steps are flawed, https://arxiv.org/abs/2305.08891
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]


@dataclass(frozen=True)
class Schedule:
    """How fast the image fades: entry t belongs to x_t, entry 0 to the clean image. In float64, whatever the images are.

    Attributes
    ----------
    beta : Tensor
        Variance of the noise that step t adds, in (0, 1); 0 for t = 0, which is no step.
    alpha_bar : Tensor
        What is left at time t of the image's variance, equation (2): from 1 down to nearly 0.

    Examples
    --------
    >>> schedule_from_beta(torch.tensor([0.1, 0.2, 0.5])).n_steps
    3
    """

    beta: Float[Tensor, " times"]
    alpha_bar: Float[Tensor, " times"]

    @property
    def n_steps(self) -> int:  # given: one less than there are entries
        """Number of steps T."""
        return len(self.beta) - 1


def _check_n_steps(n_steps: int) -> None:  # given: argument checks
    if not isinstance(n_steps, int) or n_steps < 2:
        raise ValueError(f"n_steps must be an integer of at least 2, got {n_steps!r}")


def _check(
    images: Tensor, noise: Tensor, t: Tensor, schedule: Schedule, *, first: int
) -> None:  # given: argument checks
    if images.ndim != 4 or images.shape != noise.shape:
        raise ValueError(
            f"images and noise must have one shape (batch, channels, height, width), "
            f"got {tuple(images.shape)} and noise {tuple(noise.shape)}"
        )
    if t.shape != images.shape[:1] or t.is_floating_point():
        raise ValueError(f"t must hold one integer for each of {len(images)} images, got {t.dtype} {tuple(t.shape)}")
    if len(t) and not first <= t.min() <= t.max() <= schedule.n_steps:
        raise ValueError(f"t must lie between {first} and {schedule.n_steps}, got {t.min()} to {t.max()}")


def schedule_from_beta(beta: Float[Tensor, " n_steps"]) -> Schedule:
    r"""Make the schedule of given variances.

    Parameters
    ----------
    beta : Tensor
        The variances of steps 1 to T, each in (0, 1).

    Returns
    -------
    Schedule
        Both arrays in float64, with T + 1 entries: $\beta_0 = 0$ and $\bar\alpha_0 = 1$ come first, the rest is
        equation (2).

    Raises
    ------
    ValueError
        If `beta` is not a non-empty vector of numbers between 0 and 1, both excluded.

    Examples
    --------
    >>> schedule_from_beta(torch.tensor([0.1, 0.2, 0.5])).alpha_bar.numpy().round(2)
    array([1.  , 0.9 , 0.72, 0.36])
    """
    # given: the checks
    if beta.ndim != 1 or not len(beta) or not 0 < beta.min() <= beta.max() < 1:
        raise ValueError(f"beta must be a vector of variances between 0 and 1, got {beta}")
    # yours
    beta = torch.cat([beta.new_zeros(1), beta]).double()
    return Schedule(beta, torch.cumprod(1 - beta, dim=0))


def linear(n_steps: int, *, first: float = 1e-4, last: float = 0.02) -> Schedule:
    r"""Return the schedule whose variances grow in equal steps, equation (5).

    Parameters
    ----------
    n_steps : int
        Number of steps T, at least 2.
    first, last : float
        $\beta_1$ and $\beta_T$. The defaults are those of Ho et al. for T = 1,000.

    Returns
    -------
    Schedule
        The variances and what follows from them.

    Raises
    ------
    ValueError
        If `n_steps` is less than 2, or `first` or `last` is no variance between 0 and 1.

    Examples
    --------
    >>> linear(5, first=0.1, last=0.5).beta.numpy().round(2)
    array([0. , 0.1, 0.2, 0.3, 0.4, 0.5])
    """
    # given: the checks
    _check_n_steps(n_steps)
    if not (0 < first < 1 and 0 < last < 1):
        raise ValueError(f"first and last must lie between 0 and 1, got {first} and {last}")
    # yours
    return schedule_from_beta(torch.linspace(first, last, n_steps, dtype=torch.float64))


def cosine(n_steps: int, *, offset: float = 0.008, largest: float = 0.999) -> Schedule:
    r"""Return the schedule whose signal falls like a squared cosine, equations (6) and (7).

    Parameters
    ----------
    n_steps : int
        Number of steps T, at least 2.
    offset : float
        $s$ in (6), not negative: it keeps the first steps from being too small.
    largest : float
        No variance may exceed it, equation (7).

    Returns
    -------
    Schedule
        The clipped variances, and the $\bar\alpha$ that equation (2) makes of them.

    Raises
    ------
    ValueError
        If `n_steps` is less than 2, `offset` negative, or `largest` not between 0 and 1.

    Examples
    --------
    >>> cosine(4).alpha_bar.numpy().round(4)
    array([1.000e+00, 8.470e-01, 4.938e-01, 1.443e-01, 1.000e-04])
    """
    # given: the checks
    _check_n_steps(n_steps)
    if not 0 <= offset < math.inf:
        raise ValueError(f"offset must not be negative, got {offset}")
    if not 0 < largest < 1:
        raise ValueError(f"largest must lie between 0 and 1, got {largest}")
    # yours
    time = torch.arange(n_steps + 1, dtype=torch.float64) / n_steps
    f = torch.cos((time + offset) / (1 + offset) * math.pi / 2) ** 2
    return schedule_from_beta((1 - f[1:] / f[:-1]).clamp(max=largest))


def snr(schedule: Schedule) -> Float[Tensor, " times"]:
    r"""Return the signal-to-noise ratio at each time, equation (4).

    Parameters
    ----------
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        T + 1 falling numbers; the first, of the clean image, is infinite.

    Examples
    --------
    >>> snr(schedule_from_beta(torch.tensor([0.1, 0.2, 0.5]))).numpy().round(4)
    array([   inf, 9.    , 2.5714, 0.5625])
    """
    return schedule.alpha_bar / (1 - schedule.alpha_bar)


def per_image(values: Float[Tensor, " times"], t: Times, images: Images) -> Float[Tensor, "batch 1 1 1"]:
    """Look up one value for each image.

    Parameters
    ----------
    values : Tensor
        One number per time, on any device and in any precision.
    t : Tensor
        For each image the index of its value, from 0.
    images : Tensor
        The batch that the result will multiply.

    Returns
    -------
    Tensor
        `values[t]`, shaped to broadcast over the images, on their device and in their precision.

    Raises
    ------
    ValueError
        If `t` does not hold one integer per image, or one that is no index (a negative one would count from the end).

    Examples
    --------
    >>> per_image(torch.tensor([1.0, 0.5, 0.25]), torch.tensor([2, 0]), torch.zeros(2, 1, 8, 8)).flatten()
    tensor([0.2500, 1.0000])
    """
    # given: the checks
    if images.ndim != 4 or t.shape != images.shape[:1] or t.is_floating_point():
        raise ValueError(
            f"t must hold one integer for each image of {tuple(images.shape)}, got {t.dtype} {tuple(t.shape)}"
        )
    if len(t) and not 0 <= t.min() <= t.max() < len(values):
        raise ValueError(f"t must lie between 0 and {len(values) - 1}, got {t.min()} to {t.max()}")
    # yours
    return values.to(t.device)[t].to(images)[:, None, None, None]


def diffuse_step(previous: Images, t: Times, noise: Images, schedule: Schedule) -> Images:
    r"""Take each image one step further into the noise, equation (1).

    Parameters
    ----------
    previous : Tensor
        The images $x_{t-1}$.
    t : Tensor
        For each image the step to take, from 1 to T.
    noise : Tensor
        Standard normal, of the images' shape.
    schedule : Schedule
        Its `beta[t]` is the variance of the noise added.

    Returns
    -------
    Tensor
        The images $x_t$, in the precision of `previous`.

    Raises
    ------
    ValueError
        If shapes do not fit, or a step lies outside 1 to T.

    Examples
    --------
    >>> schedule = schedule_from_beta(torch.tensor([0.1, 0.2, 0.5]))
    >>> x, noise = torch.full((1, 1, 1, 1), 2.0), torch.ones(1, 1, 1, 1)
    >>> round(diffuse_step(x, torch.tensor([3]), noise, schedule).item(), 4)  # (2 + 1) times the root of a half
    2.1213
    """
    # given: the checks
    _check(previous, noise, t, schedule, first=1)
    # yours
    kept = per_image((1 - schedule.beta).sqrt(), t, previous)
    added = per_image(schedule.beta.sqrt(), t, previous)
    return kept * previous + added * noise


def diffuse(clean: Images, t: Times, noise: Images, schedule: Schedule) -> Images:
    r"""Take each clean image straight to its own time, equation (3).

    Parameters
    ----------
    clean : Tensor
        The images $x_0$.
    t : Tensor
        For each image the time to go to, from 0 (nothing happens) to T.
    noise : Tensor
        Standard normal, of the images' shape.
    schedule : Schedule
        Its `alpha_bar[t]` is the share of the variance that is left.

    Returns
    -------
    Tensor
        The images $x_t$, in the precision of `clean`: also in float32 the strength of the noise is right to seven
        digits at every time.

    Raises
    ------
    ValueError
        If shapes do not fit, or a time lies outside 0 to T.

    Examples
    --------
    >>> schedule = schedule_from_beta(torch.tensor([0.1, 0.2, 0.5]))
    >>> x, noise = torch.full((2, 1, 1, 1), 2.0), torch.ones(2, 1, 1, 1)
    >>> diffuse(x, torch.tensor([0, 3]), noise, schedule).flatten()
    tensor([2., 2.])
    """
    # given: the checks
    _check(clean, noise, t, schedule, first=0)
    # yours
    # In float32, 1 - alpha_bar of the first steps would keep three digits: subtract first, round afterwards.
    signal = per_image(schedule.alpha_bar.sqrt(), t, clean)
    spread = per_image((1 - schedule.alpha_bar).sqrt(), t, clean)
    return signal * clean + spread * noise
