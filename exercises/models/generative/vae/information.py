r"""What a code tells: mutual information, InfoVAE with its maximum mean discrepancy, and information dropout.

## Idea

The rate of a VAE punishes two things at once: that the code tells images apart, which is what we want of a
code, and that all codes together do not look like the prior, which is what spoils samples. Measure the two
apart and you can keep the first and forbid the second. The same split explains how noise in a classifier's
features, with a price on what gets through it, teaches the classifier to look away from what does not matter.

## Maths

**Two parts of the rate.** Over images $x_1, \dots, x_N$ the codes as a whole have the density

$$q(z) = \frac1N \sum_{n=1}^N q(z \mid x_n), \tag{1}$$

the aggregate posterior. Insert $\log q(z) - \log q(z)$ into the average divergence from the prior:

$$\frac1N \sum_n \mathrm{KL}(q(z \mid x_n) \,\|\, p(z))
  = \underbrace{\frac1N \sum_n \mathbb{E}_{q(z \mid x_n)}\!\left[\log \frac{q(z \mid x_n)}{q(z)}\right]}_{I_q(x;\, z)}
  + \mathrm{KL}(q(z) \,\|\, p(z)). \tag{2}$$

The first part is the mutual information of image and code, the nats by which a code tells which image it came
from [1]. Both parts are at least zero, and since $q(z)$ is at least a share $1/N$ of each $q(z \mid x_n)$, the
ratio in $I_q$ never exceeds $N$:

$$0 \le I_q(x;\, z) \le \log N. \tag{3}$$

**InfoVAE.** Add to the ELBO a reward of $\alpha$ for the first part, and weigh the second by $\lambda$ in place
of 1 [2]:

$$\text{ELBO} + \alpha\, I_q(x;\, z) + (1 - \lambda)\, \mathrm{KL}(q(z) \,\|\, p(z)).$$

Replace $I_q$ by (2), and collect. What is to be minimised is

$$-\mathbb{E} \log p(x \mid z) + (1 - \alpha)\, \mathbb{E}_x \mathrm{KL}(q(z \mid x) \,\|\, p(z))
  + (\alpha + \lambda - 1)\, \mathcal{D}(q(z), p(z)), \tag{4}$$

where $\mathcal{D}$ is $\mathrm{KL}(q(z) \,\|\, p(z))$. That one is costly, since (1) runs over the whole data
set. But any divergence that vanishes only for equal distributions asks for the same match, and the next one
needs samples alone. With $\alpha = 0, \lambda = 1$ (4) is the negative ELBO; with $\alpha = 1$ single images
pay nothing, and only the whole is matched.

**Maximum mean discrepancy.** A kernel $k(u, v) = \langle \phi(u), \phi(v) \rangle$ maps points into a space of
features. The distance of two distributions' mean features is

$$\mathrm{MMD}^2 = \lVert \mathbb{E}\,\phi(u) - \mathbb{E}\,\phi(v) \rVert^2
  = \mathbb{E}\, k(u, u') + \mathbb{E}\, k(v, v') - 2\, \mathbb{E}\, k(u, v), \tag{5}$$

with $u, u'$ independent draws from one, and $v, v'$ from the other. With the Gaussian kernel

$$k(u, v) = \exp\!\left( -\frac{\lVert u - v \rVert^2}{2 h^2} \right) \tag{6}$$

it is zero only if they are equal [3]. The first term of (5) asks for *independent* draws, so a point must not
meet itself. Leaving those $n$ pairs out,

$$\widehat{\mathrm{MMD}^2} = \frac{1}{n (n - 1)} \sum_{i \ne j} k(u_i, u_j)
  + \frac{1}{m (m - 1)} \sum_{i \ne j} k(v_i, v_j) - \frac{2}{n m} \sum_{i, j} k(u_i, v_j) \tag{7}$$

has expectation (5) exactly. So it must often be negative where the distributions are equal.

**Information dropout.** Now let $z$ be the features of a classifier for $y$, and let it pay for what they know
of $x$: minimise $\mathbb{E}[-\log p(y \mid z)] + \beta\, I(x;\, z)$. By (2), a rate is no less than the
information in it, whatever the prior, so we may charge the rate instead [4]. Features that are positive are
made noisy by factors, whose logarithms are normal:

$$z = f(x)\, e^{\alpha(x)\, \varepsilon}, \qquad \varepsilon \sim \mathcal{N}(0, 1). \tag{8}$$

The factor's median is 1. Both the feature $f$ and the noise's scale $\alpha$ are the network's to choose, for
each feature and each input. Since $\log z \sim \mathcal{N}(\log f, \alpha^2)$ and a divergence does not change
when both sides are mapped by the same invertible function, the rate against a log-normal prior,
$\log z \sim \mathcal{N}(\mu, \sigma^2)$, is that of two normals:

$$\mathrm{KL} = \log \frac{\sigma}{\alpha} + \frac{\alpha^2 + (\log f - \mu)^2}{2 \sigma^2} - \frac12. \tag{9}$$

That suits $f$ from a softplus. A ReLU's scale means nothing (the next layer may undo it), and so the prior
should not prefer one: let $\log z$ be uniform. The rate is then the negative entropy of $\log z$ but for a
constant, $-\log \alpha + \text{const}$; fix the constant so that the loudest noise allowed, $\alpha_{\max}$, is
free:

$$\mathrm{KL} = \log \frac{\alpha_{\max}}{\alpha}. \tag{10}$$

(A ReLU also gives exact zeros, which stay zero under (8). The prior of [4] has a point mass there; we do not
charge for it.)

## Worked example

Two images have the posteriors $\mathcal{N}(-2, \tfrac14)$ and $\mathcal{N}(2, \tfrac14)$. The rate of each is
$\tfrac12 (4 + \tfrac14 - 1 - \log \tfrac14) = 2.3181$ nats. They lie eight standard deviations apart, so a code
tells the image for certain, and $I_q = \log 2 = 0.6931$. By (2) the other $1.6250$ nats are the price for two
narrow lumps where the prior has one wide one.

Draws $u = (0, 1)$ and $v = (0, 2)$ with $h = 1$: $k(0, 1) = k(1, 2) = e^{-1/2} = 0.6065$ and
$k(0, 2) = e^{-2} = 0.1353$. The mean over cross pairs is $(1 + 0.1353 + 0.6065 + 0.6065) / 4 = 0.5871$, so (7)
is $0.6065 + 0.1353 - 1.1742 = -0.4323$.

A feature of $f = 2$ with noise $\alpha = \tfrac12$ costs, against $\mu = 0, \sigma = 1$, by (9):
$\log 2 + (0.25 + 0.4805)/2 - 0.5 = 0.5584$ nats. Against (10) with $\alpha_{\max} = 0.8$, whatever $f$:
$\log 1.6 = 0.4700$.

## Plan

- `rbf_kernel(x, y)` is (6) for all pairs of rows, `squared_mmd(x, y)` is (7) with it.
- `log_aggregate_posterior(z, mean, log_variance)` is the logarithm of (1) at each row of z.
- `split_rate(mean, log_variance)` estimates $I_q$ in (2) from draws of every posterior, and finds the rest from
  the exact rate.
- `infovae_loss(log_likelihood, kl, divergence)` is (4) for a batch.
- `information_dropout(features, scale)` is (8).
- `lognormal_cost(features, scale)` is (9), `loguniform_cost(scale)` is (10); both leave the sum to the caller.

Import what you need of `models/generative/vae/elbo`: its Gaussian divergence and log density, and its draw.

## Pitfalls

- The discrepancy of two clouds from one distribution is positive every time, and grows as the batch shrinks.
- A kernel value above 1, far away from the origin: how was the distance computed?
- The discrepancy has no gradient, though the clouds are far apart: how wide is the kernel, compared with their
  distance?
- The mutual information equals the logarithm of the number of images. With a thousand images nothing above 6.9
  nats can be seen, however good the code.
- $\log q(z)$ is minus infinity at a code that is merely unusual.
- The noise is meant to hide something, but the accuracy in training stays perfect: the network may have made
  the features larger, or the noise smaller. Who pays?
- At test time the features are on average smaller than in training: a log-normal factor has median 1, and mean
  $e^{\alpha^2 / 2}$.

## Cost

The kernel takes $O(n m d)$ time and memory, `split_rate` $O(K N^2 d)$ for $K$ draws of each of $N$ posteriors.

Two experiments on digits, of 1,500 steps each (the figure shows them). Two latent dimensions for the binary
digits, measured on the 360 held out, for which (3) allows 5.89 nats:

| loss (4) | distortion | information | mismatch | $\widehat{\mathrm{MMD}^2}$, $h = 1$ |
|---|---|---|---|---|
| $\alpha = 1, \lambda = 0$: autoencoder | 16.7 | 5.88 | 50.2 | 0.295 |
| $\alpha = 0, \lambda = 1$: ELBO | 17.5 | 2.59 | 0.14 | 0.002 |
| $\alpha = 1, \lambda = 200$, MMD | 17.2 | 5.60 | 2.11 | -0.001 |

The last keeps nearly all information in a cloud that the discrepancy cannot tell from the prior; the 2.1 nats
are its fine grain, 360 narrow lumps that fill the right region. And a classifier of the left one of two digits
side by side (grey, 1,437 pairs), with (8) and (9) on every pixel: without noise 95.3 to 96.3 % of unseen pairs
are right over three seeds; at $\beta = 0.01$ it takes 20 nats from the left half, 0.7 to 0.8 from the right,
and 97.7 to 98.3 % are right.


## Go further

- Experiment: draw the bandwidth of the kernel from 0.1 to 10 and plot the gradient of (7) for two clouds that
  lie 5 apart.
- Stretch: minimise (4) with $\mathcal{D}$ estimated by a critic, a small network that tells codes from draws of
  the prior [2].

## References

1. Hoffman & Johnson (2016), ELBO surgery, http://approximateinference.org/accepted/HoffmanJohnson2016.pdf
2. Zhao, Song & Ermon (2019), InfoVAE, https://arxiv.org/abs/1706.02262
3. Gretton et al. (2012), A kernel two-sample test, https://jmlr.org/papers/v13/gretton12a.html
4. Achille & Soatto (2018), Information dropout, https://arxiv.org/abs/1611.01353
"""

# 8 parts to write. Test them with: pytest exercises/models/generative/vae/information.py
# To be written without: torch.distributions, torch.Tensor.log_normal_, sklearn.metrics.pairwise

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mlpath.models.generative.vae.elbo import gaussian_kl, gaussian_log_likelihood, reparameterize


@dataclass(frozen=True)
class RateSplit:
    """The two parts of the average rate of a set of posteriors, in nats: equation (2).

    Attributes
    ----------
    mutual_information : Tensor
        What a code tells about the image it came from.
    marginal_kl : Tensor
        Divergence of all codes together from the prior.
    """

    mutual_information: Float[Tensor, ""]
    marginal_kl: Float[Tensor, ""]


def _check_tensor(name: str, tensor: Tensor, ndim: int, *, rows: int = 1) -> None:  # given: argument checks
    if tensor.ndim != ndim or tensor.numel() == 0 or len(tensor) < rows:
        raise ValueError(f"{name} must have {ndim} axes and at least {rows} rows, got shape {tuple(tensor.shape)}")
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be finite, got {tensor[~torch.isfinite(tensor)][0].item()}")


def _check_positive(name: str, tensor: Tensor) -> None:  # given: argument checks
    if tensor.numel() == 0 or not (torch.isfinite(tensor) & (tensor > 0)).all():
        raise ValueError(f"{name} must be positive and finite, and not empty, got {tensor}")


def _check_pair(x: Tensor, y: Tensor, bandwidth: float, *, rows: int = 1) -> None:  # given: argument checks
    _check_tensor("x", x, 2, rows=rows)
    _check_tensor("y", y, 2, rows=rows)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"y must have as many columns as x, got shapes {tuple(y.shape)} and {tuple(x.shape)}")
    if not (math.isfinite(bandwidth) and bandwidth > 0):
        raise ValueError(f"bandwidth must be positive, got {bandwidth}")


def _check_posteriors(mean: Tensor, log_variance: Tensor) -> None:  # given: argument checks
    _check_tensor("mean", mean, 2)
    _check_tensor("log_variance", log_variance, 2)
    if mean.shape != log_variance.shape:
        raise ValueError(
            f"log_variance must have the shape {tuple(mean.shape)} of mean, got {tuple(log_variance.shape)}"
        )


def rbf_kernel(x: Float[Tensor, "n dim"], y: Float[Tensor, "m dim"], *, bandwidth: float) -> Float[Tensor, "n m"]:
    r"""Gaussian kernel of every row of `x` with every row of `y`: equation (6).

    Exact wherever the points lie: moving all of them by the same vector changes nothing. Differentiable, also where
    two points coincide.

    Parameters
    ----------
    x, y : Tensor
        Points, one a row.
    bandwidth : float
        $h$, in the units of the points.

    Returns
    -------
    Tensor
        The kernel's values, in [0, 1].

    Raises
    ------
    ValueError
        If `x` or `y` is no matrix, is empty or not finite, their columns differ, or `bandwidth` is not positive.

    Examples
    --------
    >>> rbf_kernel(torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]]), bandwidth=1.0)
    tensor([[1.0000, 0.1353],
            [0.6065, 0.6065]])
    """
    # given: the checks
    _check_pair(x, y, bandwidth)
    raise NotImplementedError("not written yet: rbf_kernel")


def squared_mmd(x: Float[Tensor, "n dim"], y: Float[Tensor, "m dim"], *, bandwidth: float) -> Float[Tensor, ""]:
    r"""Estimate, without bias, the squared maximum mean discrepancy of two distributions: equation (7).

    Parameters
    ----------
    x, y : Tensor
        Independent draws from either, one a row, at least two of each.
    bandwidth : float
        $h$ of the Gaussian kernel.

    Returns
    -------
    Tensor
        One number. Zero in expectation for equal distributions, so negative now and then.

    Raises
    ------
    ValueError
        If `x` or `y` is no matrix, has fewer than two rows or is not finite, their columns
        differ, or `bandwidth` is not positive.

    Examples
    --------
    >>> squared_mmd(torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]]), bandwidth=1.0)
    tensor(-0.4323)
    """
    # given: the checks
    _check_pair(x, y, bandwidth, rows=2)
    raise NotImplementedError("not written yet: squared_mmd")


def log_aggregate_posterior(
    z: Float[Tensor, "n_draws latent"],
    mean: Float[Tensor, "n_images latent"],
    log_variance: Float[Tensor, "n_images latent"],
) -> Float[Tensor, " n_draws"]:
    r"""Log density of the codes of all images together: equation (1).

    Parameters
    ----------
    z : Tensor
        Where to take it, one point a row.
    mean, log_variance : Tensor
        The posterior of each image.

    Returns
    -------
    Tensor
        $\log q(z)$ in nats, finite however far from all posteriors the point lies.

    Raises
    ------
    ValueError
        If one of the three is no matrix, is empty or not finite, or their columns or the posteriors' rows differ.

    Examples
    --------
    >>> log_aggregate_posterior(torch.tensor([[2.0], [0.0]]), torch.tensor([[-2.0], [2.0]]), torch.zeros(2, 1))
    tensor([-1.6118, -2.9189])
    """
    # given: the checks
    _check_tensor("z", z, 2)
    _check_posteriors(mean, log_variance)
    if z.shape[1] != mean.shape[1]:
        raise ValueError(f"z must have as many columns as mean, got shapes {tuple(z.shape)} and {tuple(mean.shape)}")
    raise NotImplementedError("not written yet: log_aggregate_posterior")


def split_rate(
    mean: Float[Tensor, "n_images latent"],
    log_variance: Float[Tensor, "n_images latent"],
    *,
    n_samples: int = 1,
    generator: torch.Generator,
) -> RateSplit:
    r"""Split the average divergence from the prior into information and mismatch: equation (2).

    The information is an average over `n_samples` draws from every posterior, and no draw counts more than $\log N$.
    The mismatch is the exact rate less that, so that the two always add up to the rate.

    Parameters
    ----------
    mean, log_variance : Tensor
        The posterior of each image.
    n_samples : int
        Draws from each posterior.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    RateSplit
        Both parts, in nats. An estimate of a mismatch near zero may come out below it.

    Raises
    ------
    ValueError
        If `mean` or `log_variance` is no matrix, is empty or not finite, their shapes differ, or
        `n_samples` is below 1.

    Examples
    --------
    >>> mean, log_variance = torch.tensor([[-2.0], [2.0]]), torch.full((2, 1), 0.25).log()
    >>> split = split_rate(mean, log_variance, generator=torch.Generator().manual_seed(0))
    >>> split.mutual_information, split.marginal_kl
    (tensor(0.6931), tensor(1.6250))
    """
    # given: the checks
    _check_posteriors(mean, log_variance)
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    raise NotImplementedError("not written yet: split_rate")


def infovae_loss(
    log_likelihood: Float[Tensor, " batch"],
    kl: Float[Tensor, "batch latent"],
    divergence: Float[Tensor, ""],
    *,
    information: float = 1.0,
    matching: float = 1.0,
) -> Float[Tensor, ""]:
    r"""Loss of an InfoVAE on a batch: equation (4).

    Parameters
    ----------
    log_likelihood : Tensor
        $\log p(x \mid z)$ of each image at its drawn $z$.
    kl : Tensor
        Divergence of each image's posterior from the prior in each latent dimension.
    divergence : Tensor
        $\mathcal{D}$ between the batch's codes and draws from the prior, such as `squared_mmd`; may be negative.
    information : float
        $\alpha \le 1$, the reward of a nat of mutual information.
    matching : float
        $\lambda \ge 1 - \alpha$, the price of a mismatch between all codes and the prior.

    Returns
    -------
    Tensor
        One number, in nats an image, to be minimised.

    Raises
    ------
    ValueError
        If `log_likelihood` is no vector, `kl` no matrix with a row for each of its entries, `divergence` no single
        number, one of them is not finite, or the weights leave their bounds.

    Examples
    --------
    >>> likelihood, kl = torch.tensor([-20.0, -10.0]), torch.tensor([[1.0, 0.1], [0.2, 0.3]])
    >>> infovae_loss(likelihood, kl, torch.tensor(0.01), information=0.5, matching=100.5)
    tensor(16.4000)
    """
    # given: the checks
    _check_tensor("log_likelihood", log_likelihood, 1)
    _check_tensor("kl", kl, 2)
    if len(kl) != len(log_likelihood):
        raise ValueError(f"kl must have {len(log_likelihood)} rows, as log_likelihood has entries, got {len(kl)}")
    if divergence.ndim or not torch.isfinite(divergence):
        raise ValueError(f"divergence must be one finite number, got {divergence}")
    if not (math.isfinite(information) and information <= 1):
        raise ValueError(f"information must be at most 1, got {information}")
    if not (math.isfinite(matching) and matching >= 1 - information):
        raise ValueError(f"matching must be at least 1 - information, got {matching} with information {information}")
    raise NotImplementedError("not written yet: infovae_loss")


def information_dropout(
    features: Float[Tensor, "*batch"], scale: Float[Tensor, "*batch"], *, generator: torch.Generator
) -> Float[Tensor, "*batch"]:
    r"""Multiply each feature by a log-normal factor of its own: equation (8).

    For training. At test time the features are used as they are, which is the median of what this returns.

    Parameters
    ----------
    features : Tensor
        $f(x)$. A feature of zero remains zero.
    scale : Tensor
        $\alpha(x)$ of the same shape: standard deviation of the factor's logarithm.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        The noisy features, differentiable by features and scale.

    Raises
    ------
    ValueError
        If the shapes differ, `features` is empty or not finite, or `scale` is not positive and finite.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> z = information_dropout(torch.full((5000,), 3.0), torch.full((5000,), 0.5), generator=generator)
    >>> round(z.median().item(), 1), round(z.log().std().item(), 1)
    (3.0, 0.5)
    """
    # given: the checks
    if features.numel() == 0 or not torch.isfinite(features).all():
        raise ValueError(f"features must be finite and not empty, got {features}")
    if scale.shape != features.shape:
        raise ValueError(f"scale must have the shape {tuple(features.shape)} of features, got {tuple(scale.shape)}")
    _check_positive("scale", scale)
    raise NotImplementedError("not written yet: information_dropout")


def lognormal_cost(
    features: Float[Tensor, "*batch"],
    scale: Float[Tensor, "*batch"],
    *,
    prior_mean: float = 0.0,
    prior_scale: float = 1.0,
) -> Float[Tensor, "*batch"]:
    r"""Rate of each noisy feature against a log-normal prior: equation (9).

    Parameters
    ----------
    features : Tensor
        $f(x)$, positive, as a softplus gives.
    scale : Tensor
        $\alpha(x)$ of the same shape.
    prior_mean, prior_scale : float
        $\mu$ and $\sigma$: mean and standard deviation of the prior's logarithm.

    Returns
    -------
    Tensor
        The divergence in nats, entry by entry.

    Raises
    ------
    ValueError
        If the shapes differ, `features`, `scale` or `prior_scale` is not positive and finite, or
        `prior_mean` not finite.

    Examples
    --------
    >>> lognormal_cost(torch.tensor([2.0, 1.0]), torch.tensor([0.5, 1.0]))
    tensor([0.5584, 0.0000])
    """
    # given: the checks
    _check_positive("features", features)
    if scale.shape != features.shape:
        raise ValueError(f"scale must have the shape {tuple(features.shape)} of features, got {tuple(scale.shape)}")
    _check_positive("scale", scale)
    if not math.isfinite(prior_mean):
        raise ValueError(f"prior_mean must be finite, got {prior_mean}")
    if not (math.isfinite(prior_scale) and prior_scale > 0):
        raise ValueError(f"prior_scale must be positive, got {prior_scale}")
    raise NotImplementedError("not written yet: lognormal_cost")


def loguniform_cost(scale: Float[Tensor, "*batch"], *, max_scale: float) -> Float[Tensor, "*batch"]:
    r"""Rate of each noisy feature against a log-uniform prior, up to its constant: equation (10).

    Parameters
    ----------
    scale : Tensor
        $\alpha(x)$, at most `max_scale`. What the feature itself is makes no difference.
    max_scale : float
        $\alpha_{\max}$, the scale of noise that costs nothing.

    Returns
    -------
    Tensor
        The divergence in nats, entry by entry, at least zero.

    Raises
    ------
    ValueError
        If `scale` is empty, not positive, or above `max_scale`, or `max_scale` is not finite.

    Examples
    --------
    >>> loguniform_cost(torch.tensor([0.5, 0.8]), max_scale=0.8)
    tensor([0.4700, 0.0000])
    """
    # given: the checks
    _check_positive("scale", scale)
    if not math.isfinite(max_scale):
        raise ValueError(f"max_scale must be finite, got {max_scale}")
    if (scale > max_scale).any():
        raise ValueError(f"scale must be at most max_scale = {max_scale}, got {scale.max().item()}")
    raise NotImplementedError("not written yet: loguniform_cost")
