r"""The variational bound: how many bits per pixel a diffusion model needs, and which steps to train on.

## Idea

A diffusion model is a chain of Gaussians, and how well it fits can be measured without drawing anything: for each step,
compare what the model says about the state before with what is true given the clean image. The sum of these comparisons
bounds the number of bits that a code based on the model would spend on the image. The steps differ wildly in what they
contribute. Whoever trains on the bound does well to draw the costly ones more often, if each then counts for less.

## Maths

**The bound.** The model draws $x_T$ from $\mathcal{N}(0, I)$ and then each state from $p(x_{t-1} \mid x_t)$. Let $q$ be
the forward process. By Jensen's inequality, and by Bayes' rule within $q$, which turns its steps around,

$$-\log p(x_0) \le \mathbb{E}_q \Big[ \underbrace{\mathrm{KL}\big(q(x_T \mid x_0) \,\|\, p(x_T)\big)}_{L_T}
+ \sum_{t=2}^{T} \underbrace{\mathrm{KL}\big(q(x_{t-1} \mid x_t, x_0) \,\|\, p(x_{t-1} \mid x_t)\big)}_{L_{t-1}}
\underbrace{{} - \log p(x_0 \mid x_1)}_{L_0} \Big]. \tag{1}$$

All but the last compare Gaussians. For one coordinate, with means $m_1, m_2$ and variances $s_1, s_2$,

$$\mathrm{KL}\big(\mathcal{N}(m_1, s_1) \,\|\, \mathcal{N}(m_2, s_2)\big)
= \frac12 \Big( \frac{s_1}{s_2} - 1 - \log \frac{s_1}{s_2} + \frac{(m_1 - m_2)^2}{s_2} \Big). \tag{2}$$

Coordinates are independent, so a term is a sum over pixels and channels. In $L_{t-1}$ the first Gaussian has the
posterior's mean $\tilde\mu_t(x_0, x_t)$ and variance $\tilde\beta_t$, the second $\tilde\mu_t(\hat x_0, x_t)$ and a
chosen $\sigma_t^2$. $L_T$ has nothing to learn: there the first is $q(x_T \mid x_0)$ and the second the standard normal.

**The last step** must give probabilities to images, and these have only a few grey levels. Let there be $n$ of them,
evenly spaced from $-1$ to $1$. Each level stands for a bin that reaches half-way to its neighbours,
$\delta = 1 / (n - 1)$ to each side, and the two outermost bins reach to infinity [1]. With the Gaussian distribution
function $\Phi$ and the mean $m$ of the step, a level $x$ has probability

$$P(x) = \Phi\Big(\frac{b - m}{\sigma_1}\Big) - \Phi\Big(\frac{a - m}{\sigma_1}\Big), \qquad
a = \begin{cases} -\infty & x = -1 \\ x - \delta & \text{else,} \end{cases} \quad
b = \begin{cases} \infty & x = 1 \\ x + \delta & \text{else,} \end{cases} \tag{3}$$

and $L_0 = -\sum \log P$. A level far from $m$ has $P$ below the smallest number there is, and on the right of it both
$\Phi$ are 1: the difference of two numbers gives 0 where its logarithm is wanted. Work with $\ell = \log \Phi$ instead,
which libraries have. With the bin's ends in standard units, $u < v$,

$$\log P = \ell(v) + \log\big(1 - e^{\ell(u) - \ell(v)}\big), \tag{4}$$

which is sound on the left of the mean; and by symmetry, $\Phi(v) - \Phi(u) = \Phi(-u) - \Phi(-v)$, every bin may be moved
there.

**Bits per dimension.** For an image of $D$ numbers, $L$ nats are $L / (D \log 2)$ bits each. A file of grey levels that
are all equally likely would need $\log_2 n$.

**Which steps to train on.** The bound is $T$ times the mean of its terms over $t$, and one training step sees few of
them. Let $t$ be drawn with probability $p_t$ and its loss $L_t$ be multiplied by

$$w_t = \frac{1}{T\, p_t}: \qquad \mathbb{E}[w_t L_t] = \sum_t p_t\, \frac{L_t}{T\, p_t} = \frac1T \sum_t L_t, \tag{5}$$

the same for any $p$. What depends on $p$ is the noise: the second moment is $T^{-2} \sum_t \mathbb{E}[L_t^2] / p_t$. By
the inequality of Cauchy and Schwarz it is least for

$$p_t \propto \sqrt{\mathbb{E}[L_t^2]}. \tag{6}$$

Nichol and Dhariwal [2] estimate the expectation from the last ten losses seen at each $t$. Until there are ten
everywhere, they draw uniformly, and afterwards they mix in a little of it, so that no step is ever forgotten:

$$p_t = (1 - u)\, \frac{r_t}{\sum_s r_s} + \frac{u}{T}, \qquad r_t = \Big(\frac1m \sum_{i=1}^m \ell_{t,i}^2\Big)^{1/2}, \qquad u = 0.001. \tag{7}$$

## Worked example

Three levels, $-1, 0, 1$, so $\delta = 0.5$; let the last step have $m = 0.2$ and $\sigma_1 = 0.4$. In standard units the
bins end at $-1.75$ and $0.75$, and $\Phi(-1.75) = 0.0401$, $\Phi(0.75) = 0.7734$. So the probabilities are $0.0401$,
$0.7333$ and $0.2266$: together 1. Level 0 costs $-\log_2 0.7333 = 0.447$ bits; one of three equally likely levels costs
$1.585$.

A KL by (2): $\mathcal{N}(1, 2)$ against $\mathcal{N}(0, 1)$ has $\frac12 (2 - 1 - \log 2 + 1) = 0.6534$ nats; the other
way round it is $\frac12 (0.5 - 1 + \log 2 + 0.5) = 0.3466$.

Two steps with past losses $(3, 4)$ and $(0, 1)$: $r = (3.536, 0.707)$. With $u = 0.1$,
$p = 0.9 \cdot (0.833, 0.167) + 0.05 = (0.8, 0.2)$ and $w = (0.625, 2.5)$. Check: $0.8 \cdot 0.625 = 0.2 \cdot 2.5 = 0.5$.

## Plan

A `Schedule` holds `beta` and `alpha_bar`, vectors of $T + 1$ entries of which index $t$ belongs to $x_t$; `n_steps` is $T$.

- `gaussian_kl` returns (2) for each coordinate, from means and logarithms of variances.
- `bin_log_likelihood` returns $\log P$ of (3) for each pixel, by (4).
- `prior_term` returns $L_T$ for each image, in nats.
- `step_term` returns $L_{t-1}$ for each image at its own $t$; for $t = 1$ that is $L_0$.
- `variational_bound` draws a noisy image for each $t$, asks the denoiser, and returns all terms in bits per dimension.
- `step_probabilities` returns (7), or the uniform distribution while the history is not full.
- `draw_steps` draws steps, and returns them with their weights (5).

The history of losses is kept for you by `History` and `record`.

## Pitfalls

- The bound is infinite, because of a few black pixels.
- A NaN for the images at $t = 1$ only, whose KL is infinite and should not count: how was it left out?
- The terms do not add up to what the libraries report: nats or bits, sum or mean?
- Training gets steadily worse after the first thousand steps, when the history has become full.

## Cost

One call of the network for each of the $T$ steps, all independent of each other.

## Go further

Train one model on (1) with uniform steps and one with those of (7), and plot both losses: the second should be smoother.
Stretch goal: let the network also choose the share of each variance, as in [2], and see how many bits that saves with 50
steps.

## References

1. Ho, Jain & Abbeel (2020), Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239
2. Nichol & Dhariwal (2021), Improved denoising diffusion probabilistic models, https://arxiv.org/abs/2102.09672
3. Sohl-Dickstein et al. (2015), Deep unsupervised learning using nonequilibrium thermodynamics,
   https://arxiv.org/abs/1503.03585
"""

# 7 parts to write. Test them with: pytest exercises/models/generative/ddpm/bound.py
# To be written without: torch.distributions

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mlpath.models.generative.ddpm.forward import Schedule, diffuse, per_image
from mlpath.models.generative.ddpm.posterior import Denoiser, posterior_mean, posterior_variance

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]


def gaussian_kl(
    mean: Float[Tensor, "*shape"],
    log_variance: Float[Tensor, "*shape"],
    other_mean: Float[Tensor, "*shape"],
    other_log_variance: Float[Tensor, "*shape"],
) -> Float[Tensor, "*shape"]:
    """Return the divergence of the first Gaussian from the second, coordinate by coordinate: equation (2).

    Parameters
    ----------
    mean, log_variance : Tensor
        Of the Gaussian over which the expectation is taken.
    other_mean, other_log_variance : Tensor
        Of the one that it is compared with. All four have one shape.

    Returns
    -------
    Tensor
        Of that shape, in nats. Where the two Gaussians are almost equal it is right to some digits also in float32.

    Examples
    --------
    >>> zero, one = torch.tensor(0.0), torch.tensor(1.0)
    >>> round(gaussian_kl(one, torch.tensor(2.0).log(), zero, zero).item(), 4)
    0.6534
    """
    raise NotImplementedError("not written yet: gaussian_kl")


def bin_log_likelihood(
    images: Images, mean: Images, deviation: Float[Tensor, "#batch #channels #height #width"], *, n_levels: int
) -> Float[Tensor, "batch channels height width"]:
    r"""Return the logarithm of the probability of each pixel's grey level, equations (3) and (4).

    Parameters
    ----------
    images : Tensor
        Grey levels, n_levels of them evenly spaced from -1 to 1.
    mean : Tensor
        Of the Gaussian for each pixel.
    deviation : Tensor
        Its standard deviation, positive, of a shape that broadcasts.
    n_levels : int
        Number of levels, at least 2.

    Returns
    -------
    Tensor
        One number per pixel, in nats and in the precision of `images`. It is finite also thousands of deviations
        from the mean.

    Raises
    ------
    ValueError
        If shapes do not fit, a pixel lies outside -1 to 1, a deviation is not positive, or there are fewer than 2 levels.

    Examples
    --------
    >>> levels = torch.tensor([-1.0, 0.0, 1.0]).reshape(3, 1, 1, 1)
    >>> mean, deviation = torch.full_like(levels, 0.2), torch.full_like(levels, 0.4)
    >>> bin_log_likelihood(levels, mean, deviation, n_levels=3).exp().flatten().numpy().round(4)
    array([0.0401, 0.7333, 0.2266], dtype=float32)
    """
    # given: the checks
    if images.ndim != 4 or images.shape != mean.shape:
        raise ValueError(f"images and mean must have one shape, got {tuple(images.shape)} and {tuple(mean.shape)}")
    if not bool((abs(images) <= 1 + 1e-6).all()):
        raise ValueError(f"images must lie between -1 and 1, got {images.min()} to {images.max()}")
    if not bool((deviation > 0).all()):
        raise ValueError(f"deviation must be positive, got {deviation.min()}")
    if n_levels < 2:
        raise ValueError(f"n_levels must be at least 2, got {n_levels}")
    raise NotImplementedError("not written yet: bin_log_likelihood")


def prior_term(clean: Images, schedule: Schedule) -> Float[Tensor, " batch"]:
    """Return what is still to be seen of each image at the end of the forward process: L_T of equation (1).

    Parameters
    ----------
    clean : Tensor
        The images.
    schedule : Schedule
        Of T steps.

    Returns
    -------
    Tensor
        One number per image, in nats, summed over pixels and channels.

    Raises
    ------
    ValueError
        If the images have not four axes.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import cosine, schedule_from_beta
    >>> clean = torch.ones(1, 1, 8, 8)
    >>> round(prior_term(clean, schedule_from_beta(torch.tensor([0.5]))).item(), 4)
    22.1807
    >>> round(prior_term(clean, cosine(1000)).item(), 4)
    0.0
    """
    # given: the checks
    if clean.ndim != 4:
        raise ValueError(f"clean must have shape (batch, channels, height, width), got {tuple(clean.shape)}")
    raise NotImplementedError("not written yet: prior_term")


def step_term(
    predicted: Images,
    clean: Images,
    noisy: Images,
    t: Times,
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
    n_levels: int,
) -> Float[Tensor, " batch"]:
    r"""Return each image's term of the bound at its own step: L_{t-1} of equation (1), and L_0 where t = 1.

    Parameters
    ----------
    predicted : Tensor
        Guesses $\hat x_0$ of the clean images.
    clean : Tensor
        The images, with n_levels grey levels evenly spaced from -1 to 1.
    noisy : Tensor
        The images $x_t$.
    t : Tensor
        For each image its step, from 1 to T.
    schedule : Schedule
        Of T steps.
    variance : Tensor
        $\sigma_t^2$ for t = 0 to T, positive from t = 1 on. (The small variance of `reverse_variance` is 0 at t = 1; put
        another in its place.)
    n_levels : int
        Number of grey levels.

    Returns
    -------
    Tensor
        One number per image, in nats, summed over pixels and channels. Gradients with respect to the guesses are finite.

    Raises
    ------
    ValueError
        If shapes do not fit, a step lies outside 1 to T, or a variance is not positive.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import schedule_from_beta
    >>> schedule = schedule_from_beta(torch.tensor([0.2, 0.5]))
    >>> clean = torch.zeros(2, 1, 1, 1)
    >>> step_term(clean + 0.2, clean, clean, torch.tensor([1, 2]), schedule, variance=schedule.beta, n_levels=3)
    tensor([0.3710, 0.2382])
    """
    # given: the checks
    if not predicted.shape == clean.shape == noisy.shape or clean.ndim != 4:
        raise ValueError(
            f"predicted, clean and noisy must have one shape (batch, channels, height, width), "
            f"got {tuple(predicted.shape)}, {tuple(clean.shape)} and {tuple(noisy.shape)}"
        )
    if variance.shape != schedule.beta.shape or not bool((variance[1:] > 0).all()):
        raise ValueError(f"variance must have a positive entry for each step, got {variance}")
    raise NotImplementedError("not written yet: step_term")


@torch.no_grad()
def variational_bound(
    denoiser: Denoiser,
    clean: Images,
    schedule: Schedule,
    *,
    variance: Float[Tensor, " times"],
    n_levels: int,
    generator: torch.Generator,
) -> Float[Tensor, "batch times"]:
    """Return all terms of equation (1) for each image, estimated from one noisy image per step. No gradients are recorded.

    Parameters
    ----------
    denoiser : callable
        Called once for each step with noisy images and a vector that holds the step once per image; returns guesses of the
        clean images.
    clean : Tensor
        The images, with n_levels grey levels evenly spaced from -1 to 1.
    schedule : Schedule
        Of T steps.
    variance : Tensor
        That of each reverse step, positive from t = 1 on.
    n_levels : int
        Number of grey levels.
    generator : torch.Generator
        Source of the noise, drawn on its own device for each step anew.

    Returns
    -------
    Tensor
        One row per image with T + 1 columns, in bits per dimension: column k is L_k. Their sum is the bound.

    Raises
    ------
    ValueError
        If the images have not four axes.

    Examples
    --------
    >>> from mlpath.models.generative.ddpm.forward import cosine
    >>> schedule, generator = cosine(50), torch.Generator().manual_seed(0)
    >>> clean = torch.zeros(10, 1, 8, 8)
    >>> terms = variational_bound(
    ...     lambda noisy, t: 0 * noisy, clean, schedule, variance=schedule.beta, n_levels=17, generator=generator
    ... )
    >>> terms.shape
    torch.Size([10, 51])
    """
    # given: the checks
    if clean.ndim != 4:
        raise ValueError(f"clean must have shape (batch, channels, height, width), got {tuple(clean.shape)}")
    raise NotImplementedError("not written yet: variational_bound")


@dataclass(frozen=True)
class History:
    """The last losses seen at each step; entry t belongs to step t, entry 0 to none.

    Attributes
    ----------
    losses : Tensor
        In each row the losses of one step, the oldest first; NaN where there is none yet.

    Examples
    --------
    >>> History.empty(1, kept=2).losses
    tensor([[nan, nan],
            [nan, nan]], dtype=torch.float64)
    """

    losses: Float[Tensor, "times kept"]

    @staticmethod
    def empty(n_steps: int, kept: int = 10) -> "History":  # given: nothing seen yet
        """Return a history in which nothing has been seen.

        Parameters
        ----------
        n_steps : int
            Number of steps T.
        kept : int
            How many losses to keep for each step.

        Returns
        -------
        History
            With T + 1 rows.
        """
        return History(torch.full((n_steps + 1, kept), math.nan, dtype=torch.float64))


def record(history: History, t: Times, losses: Float[Tensor, " batch"]) -> History:  # given: bookkeeping
    """Return the history with new losses behind the old ones, of which each step forgets its oldest.

    Parameters
    ----------
    history : History
        What has been seen; it is not changed.
    t : Tensor
        The steps of the new losses. The same may occur several times.
    losses : Tensor
        The losses, before any weight. They are detached.

    Returns
    -------
    History
        On the device that it was on.

    Examples
    --------
    >>> record(History.empty(2, kept=2), torch.tensor([2, 2, 2]), torch.tensor([5.0, 6.0, 7.0])).losses[2]
    tensor([6., 7.], dtype=torch.float64)
    """
    rows = history.losses.clone()
    for step, loss in zip(t.tolist(), losses.detach().tolist()):
        rows[step] = torch.cat([rows[step, 1:], rows.new_tensor([loss])])
    return History(rows)


def step_probabilities(history: History, *, uniform: float = 0.001) -> Float[Tensor, " times"]:
    """Return with which probability to draw each step, equation (7).

    Parameters
    ----------
    history : History
        The last losses of each step.
    uniform : float
        $u$, the share of the uniform distribution.

    Returns
    -------
    Tensor
        Entry t for step t; entry 0 is 0. As long as any step has not all the losses that it can keep, and also where all
        losses are zero, the steps are equally likely.

    Raises
    ------
    ValueError
        If `uniform` does not lie between 0 (excluded) and 1.

    Examples
    --------
    >>> history = History(torch.tensor([[float("nan")] * 2, [3.0, 4.0], [0.0, 1.0]]))
    >>> step_probabilities(history, uniform=0.1).numpy().round(4)
    array([0. , 0.8, 0.2], dtype=float32)
    """
    # given: the checks
    if not 0 < uniform <= 1:
        raise ValueError(f"uniform must lie between 0 and 1, got {uniform}")
    raise NotImplementedError("not written yet: step_probabilities")


def draw_steps(
    probabilities: Float[Tensor, " times"], n_draws: int, *, generator: torch.Generator
) -> tuple[Int[Tensor, "{n_draws}"], Float[Tensor, "{n_draws}"]]:
    """Draw steps, and the weights that keep the mean loss unbiased: equation (5).

    Parameters
    ----------
    probabilities : Tensor
        Entry t for step t from 1 to T; entry 0 is 0. They add up to one.
    n_draws : int
        How many to draw, independently.
    generator : torch.Generator
        Source of randomness; the result is on its device.

    Returns
    -------
    t : Tensor
        Steps from 1 to T.
    weight : Tensor
        For each draw what to multiply its loss with.

    Raises
    ------
    ValueError
        If the probabilities are negative, do not add up to one, or give step 0 any.

    Examples
    --------
    >>> t, weight = draw_steps(torch.tensor([0.0, 0.8, 0.2]), 1000, generator=torch.Generator().manual_seed(0))
    >>> weight[t == 1][0], weight[t == 2][0]
    (tensor(0.6250), tensor(2.5000))
    """
    # given: the checks
    total = float(probabilities.sum())
    if probabilities.ndim != 1 or bool((probabilities < 0).any()) or probabilities[0] != 0 or not abs(total - 1) < 1e-4:
        raise ValueError(f"probabilities must be those of steps 0 to T, with 0 for step 0, got {probabilities}")
    raise NotImplementedError("not written yet: draw_steps")
