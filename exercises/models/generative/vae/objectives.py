r"""Weighing the bound: beta-VAE, annealing, free bits, and how to see what each latent dimension means.

## Idea

The ELBO pays for detail in the picture with nats of the latent code, one for one. Change the price and you
choose where on the line between a blurred picture and an expensive code the model settles. At too high a price,
or simply too early in training, a dimension that could have been useful is given up and never comes back.
Annealing and free bits are two ways to lend it time; traversals and the count of active dimensions are two ways
to see how it went.

## Maths

**A price for the code.** Call $R = \mathbb{E}_x \sum_j \mathrm{KL}_j$ the rate, the nats that the code costs,
and $D = -\mathbb{E}_x \mathbb{E}_q \log p(x \mid z)$ the distortion. The negative ELBO is $D + R$; the beta-VAE
[1] minimises

$$D + \beta R. \tag{1}$$

At the optimum $\mathrm{d}D / \mathrm{d}R = -\beta$: the price is the slope of the curve of best $D$ for each
$R$ [2]. Only $\beta \ge 1$ keeps (1) an upper bound of $-\log p(x)$, for then it is no less than $D + R$.

**What the price does, exactly.** Let the decoder be Gaussian with a fixed variance $s^2$, and linear. Then

$$\frac{\lVert x - Wz \rVert^2}{2 s^2} + \beta\, \mathrm{KL}
  = \beta \left[ \frac{\lVert x - Wz \rVert^2}{2 \tau} + \mathrm{KL} \right], \qquad \tau = \beta s^2, \tag{2}$$

so that raising $\beta$ is nothing but raising the noise that the decoder blames on the world. Along one
principal direction of centred data, of variance $\lambda$, let the decoder be $wz$ and the encoder
$\mathcal{N}(vx, c)$. On average the bracket of (2) is

$$\frac{\lambda (1 - wv)^2 + w^2 c}{2 \tau} + \frac{v^2 \lambda + c - 1 - \log c}{2}. \tag{3}$$

Setting its derivatives by $v$ and $c$ to zero gives $v = w / (w^2 + \tau)$ and $c = \tau / (w^2 + \tau)$, the
true posterior. Put these back; the derivative by $w$ then vanishes at $w = 0$ and, if $\lambda > \tau$, at
$w^2 = \lambda - \tau$, which is the minimum. There $c = \tau / \lambda$ and $v^2 \lambda = 1 - \tau / \lambda$,
so all of the divergence but its logarithm cancels:

$$R_j = \max\left(0,\ \tfrac12 \log \frac{\lambda_j}{\beta s^2} \right). \tag{4}$$

A direction whose variance lies below the water level $\beta s^2$ is not encoded at all: it has *collapsed*, and
rightly so. Those above are all reconstructed with the same squared error $\tau$. Rate-distortion theory knows
this as reverse water-filling [3], and with $\beta = 1$ it is probabilistic PCA. Deep networks collapse for this
reason too, and for a worse one besides.

**A price that rises.** Early on the decoder cannot read the code yet, so the cheapest is to send none. Start at
a low price and raise it over the first $T$ steps [4],

$$\beta_t = \beta_0 + (\beta_1 - \beta_0) \min(1, t / T), \tag{5}$$

or do so in each of $M$ equal cycles of a training of $T$ steps [5], over a share $\rho$ of the cycle, and hold
it at one for the rest of it:

$$\beta_t = \min(1, u / \rho), \qquad u = \frac{M t}{T} - \left\lfloor \frac{M t}{T} \right\rfloor. \tag{6}$$

**A code that is free up to a point.** Let every dimension spend $\lambda$ nats for nothing [6]: over a
minibatch of $B$ images,

$$R_\lambda = \sum_j \max\left( \lambda,\ \frac1B \sum_{i=1}^B \mathrm{KL}_{ij} \right). \tag{7}$$

The maximum is taken of the batch's mean, so that an image may spend less where another spends more. Below the
floor the gradient is zero, and the likelihood alone moves that dimension.

**What a dimension means.** Encode an image as $\mu$, replace entry $j$ by the values $a_1, \dots, a_n$ in turn,
leave the others, and decode:

$$x_{jk} = g(\mu + (a_k - \mu_j)\, e_j). \tag{8}$$

And dimension $j$ counts as active if the image moves its posterior mean [7]:

$$\operatorname{Var}_x[\mu_j(x)] > 0.01. \tag{9}$$

## Worked example

Three directions have variances 4, 1.5 and 0.2, and the decoder's is $s^2 = 0.5$. By (4) with $\beta = 1$ they
carry $\tfrac12 \log 8 = 1.0397$, $\tfrac12 \log 3 = 0.5493$ and 0 nats; the last lies under water. With
$\beta = 2$ the level rises to 1, and they carry 0.6931, 0.2027 and 0. With $\beta = 4$ the second drowns too.

A warm-up of 200 steps from 0 to 1 has $\beta_{50} = 0.25$ by (5). In 1,000 steps of four cycles with
$\rho = \tfrac12$, step 300 is at $u = 1.2 - 1 = 0.2$, so $\beta_{300} = 0.4$ by (6); at step 400, $u = 0.6$ and
$\beta = 1$.

Two images spend $(1.0, 0.1)$ and $(0.2, 0.3)$ nats on two dimensions. Their means are 0.6 and 0.2, so with
$\lambda = 0.5$ equation (7) gives $0.6 + 0.5 = 1.1$.

## Plan

- `linear_schedule(step, n_warm_up)` and `cyclical_schedule(step, n_steps)` return $\beta_t$ by (5) and (6).
- `free_bits(kl, floor)` turns a batch's divergences into the one number of (7).
- `beta_loss(log_likelihood, kl)` is (1) for a batch, with (7) as its rate: what training minimises.
- `optimal_rates(variances, noise_variance)` is (4): what a linear model should spend.
- `latent_traversal(decode, mean, values)` is (8) for every dimension at once.
- `active_units(means)` is (9).

## Pitfalls

- All samples look like the average image and the rate is zero after a few hundred steps: when did the price
  reach one?
- The rate sits exactly at the floor times the number of dimensions, whatever the image: was the floor applied
  before the mean, or is it simply too high?
- The rate changes with the batch size.
- The reported bound of a beta-VAE is compared with that of a VAE: which price was paid in the report?
- Every picture of a traversal is far from the image it began with: did the values replace the coordinate, or
  were they added to it? And did one dimension's values stay while the next was moved?
- Half of the dimensions seem meaningless. Are they active?

## Cost

All but the traversal is negligible beside one pass of the networks. A traversal decodes
$n_\text{latents} \cdot n_\text{values}$ images.

On the binary digits (as in `models/generative/vae/elbo`; `VAE(64, 16, 128)`, 2,000 steps, the price rising over
the first 400) the held-out rate and distortion are, in nats an image:

| $\beta$ | rate | distortion | active of 16 | ELBO |
|---|---|---|---|---|
| 0.25 | 19.7 | 5.1 | 16 | -24.8 |
| 0.5 | 13.7 | 6.9 | 16 | -20.7 |
| 1 | 7.3 | 11.1 | 16 | -18.5 |
| 2 | 2.5 | 17.3 | 10 | -19.9 |
| 4 | 0.2 | 23.7 | 3 | -23.9 |

The slope between neighbours runs from -0.3 to -2.7, as (1) has it. With $\beta = 1$ and 0.3 free nats all
dimensions spend about 0.3 or more, for a rate of 8.1 and an ELBO of -18.7: on a decoder this simple nothing
collapsed that was worth saving, and free bits only cost.

## Go further

- Experiment: train with $\beta = 1$ and different decoder variances fixed by hand, and check (2) on the rates.
- Stretch: in place of the price, hold the rate itself at a target that rises during training, minimising
  $D + \gamma\, |R - C|$.

## References

1. Higgins et al. (2017), beta-VAE, https://openreview.net/forum?id=Sy2fzU9gl
2. Alemi et al. (2018), Fixing a broken ELBO, https://arxiv.org/abs/1711.00464
3. Cover & Thomas (2006), Elements of information theory, chapter 10, https://doi.org/10.1002/047174882X; the
   linear VAE: Lucas et al. (2019), Don't blame the ELBO!, https://arxiv.org/abs/1911.02469
4. Bowman et al. (2016), Generating sentences from a continuous space, https://arxiv.org/abs/1511.06349
5. Fu et al. (2019), Cyclical annealing schedule, https://arxiv.org/abs/1903.10145
6. Kingma et al. (2016), Inverse autoregressive flow, appendix, https://arxiv.org/abs/1606.04934
7. Burda, Grosse & Salakhutdinov (2016), Importance weighted autoencoders, https://arxiv.org/abs/1509.00519
"""

# 7 parts to write. Test them with: pytest exercises/models/generative/vae/objectives.py

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Decoder = Callable[[Float[Tensor, "*batch latent"]], Float[Tensor, "*batch features"]]


def _check_tensor(name: str, tensor: Tensor, ndim: int) -> None:  # given: argument checks
    if tensor.ndim != ndim or tensor.numel() == 0:
        raise ValueError(f"{name} must have {ndim} axes and not be empty, got shape {tuple(tensor.shape)}")
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite, got {tensor[~torch.isfinite(tensor)][0].item()}")


def _check_number(
    name: str, value: float, *, least: float = 0.0, above: bool = False
) -> None:  # given: argument checks
    if not (math.isfinite(value) and (value > least if above else value >= least)):
        raise ValueError(f"{name} must be {'above' if above else 'at least'} {least:g}, got {value}")


def linear_schedule(step: int, n_warm_up: int, *, start: float = 0.0, end: float = 1.0) -> float:
    r"""Price of the code that moves evenly from one value to another, and stays there: equation (5).

    Parameters
    ----------
    step : int
        Number of the training step, $t$, counted from 0.
    n_warm_up : int
        $T$: the first step that has the final price.
    start, end : float
        $\beta_0$ and $\beta_1$, which may well be the smaller.

    Returns
    -------
    float
        $\beta_t$.

    Raises
    ------
    ValueError
        If `step` is negative or `n_warm_up` is below 1.

    Examples
    --------
    >>> [linear_schedule(step, 200) for step in (0, 50, 200, 5000)]
    [0.0, 0.25, 1.0, 1.0]
    """
    # given: the checks
    _check_number("step", step)
    _check_number("n_warm_up", n_warm_up, least=1)
    raise NotImplementedError("not written yet: linear_schedule")


def cyclical_schedule(step: int, n_steps: int, *, n_cycles: int = 4, ramp: float = 0.5) -> float:
    r"""Price of the code that rises from 0 to 1 in each of several equal cycles: equation (6).

    Parameters
    ----------
    step : int
        Number of the training step, $t$, counted from 0. From `n_steps` on the price is 1.
    n_steps : int
        $T$, the length of all cycles together. A cycle need not be a whole number of steps.
    n_cycles : int
        $M$.
    ramp : float
        $\rho$, the share of a cycle during which the price rises, in (0, 1].

    Returns
    -------
    float
        $\beta_t$, in [0, 1].

    Raises
    ------
    ValueError
        If `step` is negative, `n_steps` or `n_cycles` is below 1, or `ramp` lies outside (0, 1].

    Examples
    --------
    >>> [round(cyclical_schedule(step, 1000), 4) for step in (0, 100, 200, 250, 300)]
    [0.0, 0.8, 1.0, 0.0, 0.4]
    """
    # given: the checks
    _check_number("step", step)
    _check_number("n_steps", n_steps, least=1)
    _check_number("n_cycles", n_cycles, least=1)
    if not 0 < ramp <= 1:
        raise ValueError(f"ramp must lie in (0, 1], got {ramp}")
    raise NotImplementedError("not written yet: cyclical_schedule")


def free_bits(kl: Float[Tensor, "batch latent"], floor: float) -> Float[Tensor, ""]:
    r"""Rate of a batch, of which each dimension has `floor` nats for nothing: equation (7).

    Parameters
    ----------
    kl : Tensor
        Divergence of each image in each latent dimension, in nats.
    floor : float
        $\lambda$ in nats. Zero gives the plain rate.

    Returns
    -------
    Tensor
        One number, in nats an image. A dimension below the floor has no gradient.

    Raises
    ------
    ValueError
        If `kl` is no matrix, is empty or not finite, or `floor` is negative.

    Examples
    --------
    >>> free_bits(torch.tensor([[1.0, 0.1], [0.2, 0.3]]), 0.5)
    tensor(1.1000)
    """
    # given: the checks
    _check_tensor("kl", kl, 2)
    _check_number("floor", floor)
    raise NotImplementedError("not written yet: free_bits")


def beta_loss(
    log_likelihood: Float[Tensor, " batch"],
    kl: Float[Tensor, "batch latent"],
    *,
    beta: float = 1.0,
    floor: float = 0.0,
) -> Float[Tensor, ""]:
    r"""Distortion and priced rate of a batch: equation (1), with the rate of equation (7).

    With the defaults it is the negative ELBO, averaged over the batch.

    Parameters
    ----------
    log_likelihood : Tensor
        $\log p(x \mid z)$ of each image at its drawn $z$, summed over features.
    kl : Tensor
        Divergence of each image in each latent dimension.
    beta : float
        Price $\beta$ of a nat of rate.
    floor : float
        Nats that each dimension has for nothing.

    Returns
    -------
    Tensor
        One number, in nats an image, to be minimised.

    Raises
    ------
    ValueError
        If `log_likelihood` is no vector or `kl` no matrix with a row for each of its entries, either is empty or not
        finite, or `beta` or `floor` is negative.

    Examples
    --------
    >>> beta_loss(torch.tensor([-20.0, -10.0]), torch.tensor([[1.0, 0.1], [0.2, 0.3]]), beta=4.0, floor=0.5)
    tensor(19.4000)
    """
    # given: the checks
    _check_tensor("log_likelihood", log_likelihood, 1)
    _check_tensor("kl", kl, 2)
    if len(kl) != len(log_likelihood):
        raise ValueError(f"kl must have {len(log_likelihood)} rows, as log_likelihood has entries, got {len(kl)}")
    _check_number("beta", beta)
    _check_number("floor", floor)
    raise NotImplementedError("not written yet: beta_loss")


def optimal_rates(
    variances: Float[Tensor, " direction"], noise_variance: float, *, beta: float = 1.0
) -> Float[Tensor, " direction"]:
    r"""Nats that a linear beta-VAE spends on each principal direction of its data: equation (4).

    Parameters
    ----------
    variances : Tensor
        $\lambda$, variance of the data along each direction. May be zero, and of any size otherwise.
    noise_variance : float
        $s^2$ of the decoder.
    beta : float
        Price $\beta$ of a nat.

    Returns
    -------
    Tensor
        The rate of each direction, in nats; zero where it is not encoded.

    Raises
    ------
    ValueError
        If `variances` is no vector, is empty, negative or not finite, or `noise_variance` or `beta` is not positive.

    Examples
    --------
    >>> optimal_rates(torch.tensor([4.0, 1.5, 0.2]), 0.5, beta=2.0)
    tensor([0.6931, 0.2027, 0.0000])
    """
    # given: the checks
    _check_tensor("variances", variances, 1)
    if (variances < 0).any():
        raise ValueError(f"variances must not be negative, got {variances.min().item()}")
    _check_number("noise_variance", noise_variance, above=True)
    _check_number("beta", beta, above=True)
    raise NotImplementedError("not written yet: optimal_rates")


def latent_traversal(
    decode: Decoder, mean: Float[Tensor, " latent"], values: Float[Tensor, " n_values"]
) -> Float[Tensor, "latent n_values features"]:
    r"""Decode what becomes of one code when each of its entries is replaced in turn: equation (8).

    Parameters
    ----------
    decode : callable
        The decoder: latent vectors along the last axis to features along the last axis, with any leading axes.
    mean : Tensor
        $\mu$, the posterior mean of one image. It is not changed.
    values : Tensor
        $a$, where to put the entry, in standard deviations of the prior.

    Returns
    -------
    Tensor
        What the decoder made: first axis the latent dimension, second its value.

    Raises
    ------
    ValueError
        If `mean` or `values` is no vector, is empty or not finite.

    Examples
    --------
    >>> latent_traversal(lambda z: 10 * z, torch.tensor([1.0, 2.0]), torch.tensor([-3.0, 0.0, 3.0]))[1]
    tensor([[ 10., -30.],
            [ 10.,   0.],
            [ 10.,  30.]])
    """
    # given: the checks
    _check_tensor("mean", mean, 1)
    _check_tensor("values", values, 1)
    raise NotImplementedError("not written yet: latent_traversal")


def active_units(means: Float[Tensor, "n_images latent"], *, threshold: float = 0.01) -> Bool[Tensor, " latent"]:
    r"""Tell which latent dimensions depend on the image at all: equation (9).

    Parameters
    ----------
    means : Tensor
        Posterior means, an image a row.
    threshold : float
        Least variance over images, in units of the prior's.

    Returns
    -------
    Tensor
        True for each active dimension.

    Raises
    ------
    ValueError
        If `means` is no matrix, has fewer than two rows or is not finite, or `threshold` is negative.

    Examples
    --------
    >>> active_units(torch.tensor([[1.0, 5.00], [-1.0, 5.01], [0.5, 5.02]]))
    tensor([ True, False])
    """
    # given: the checks
    _check_tensor("means", means, 2)
    if len(means) < 2:
        raise ValueError(f"means must have at least two rows, got {len(means)}")
    _check_number("threshold", threshold)
    raise NotImplementedError("not written yet: active_units")
