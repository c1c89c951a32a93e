r"""The evidence lower bound: train a latent-variable model whose likelihood cannot be computed.

## Idea

Say that an image $x$ was made by drawing a few hidden numbers $z$ and painting them through a network. To
fit the painter we need $p(x)$, an integral over all $z$ that nobody can do. So we train a second network to
guess, from the image, which $z$ it came from. Paying for how far that guess strays from the prior gives a
number that never exceeds $\log p(x)$, has a gradient, and can be climbed.

## Maths

The model is $p(x, z) = p(z)\, p(x \mid z)$ with the prior $p(z) = \mathcal{N}(0, I)$. For any density $q(z)$,

$$\log p(x) = \log \mathbb{E}_{q}\!\left[\frac{p(x, z)}{q(z)}\right]
  = \underbrace{\mathbb{E}_{q}[\log p(x \mid z)] - \mathrm{KL}(q(z) \,\|\, p(z))}_{\text{ELBO}}
  + \mathrm{KL}(q(z) \,\|\, p(z \mid x)). \tag{1}$$

To see it, write $\log p(x) = \log p(x, z) - \log p(z \mid x)$, add and subtract $\log q(z)$, and average over
$q$. The last term of (1) is never negative, so the ELBO is a lower bound, and it is tight exactly when $q$ is
the true posterior. The encoder gives each image its own
$q(z \mid x) = \mathcal{N}(\mu, \operatorname{diag} \sigma^2)$, and predicts $\mu$ and $\log \sigma^2$, the
latter because any real number is then allowed.

**The sample must carry a gradient.** A draw from a distribution whose parameters we train has no derivative of
its own. Move the randomness out of the way [1]:

$$z = \mu + \sigma\, \varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, I), \tag{2}$$

and for a fixed $\varepsilon$, $z$ is a smooth function of $\mu$ and $\log \sigma^2$:
$\partial z / \partial \mu = 1$ and $\partial z / \partial \log \sigma^2 = (z - \mu) / 2$.

**The KL term has a closed form.** Both densities factorise, so the divergence is a sum over latent
dimensions. In one of them, using $\mathbb{E}_q[z^2] = \mu^2 + \sigma^2$ and
$\mathbb{E}_q[(z - \mu)^2] = \sigma^2$,

$$\mathrm{KL}_j = \mathbb{E}_q\!\left[-\tfrac12 \log \sigma^2 - \tfrac{(z - \mu)^2}{2 \sigma^2} + \tfrac{z^2}{2}\right]
  = \tfrac12 \left( \mu^2 + \sigma^2 - 1 - \log \sigma^2 \right). \tag{3}$$

**The decoder sets the likelihood.** For binary pixels it gives a logit $a_i$ for each, the log odds of a one.
With $\operatorname{softplus}(a) = \log(1 + e^a)$ we have
$\log p(1) = a - \operatorname{softplus}(a) = -\operatorname{softplus}(-a)$ and
$\log p(0) = -\operatorname{softplus}(a)$, hence

$$\log p(x \mid z) = -\sum_i \left[ x_i \operatorname{softplus}(-a_i) + (1 - x_i) \operatorname{softplus}(a_i) \right].
  \tag{4}$$

For real features it gives a mean $m_i$ for each, beside a variance $s_i^2$:

$$\log p(x \mid z) = -\tfrac12 \sum_i \left[ \log 2\pi + \log s_i^2 + \frac{(x_i - m_i)^2}{s_i^2} \right]. \tag{5}$$

The variance is no detail: it sets what a nat of reconstruction is worth beside a nat of (3). A squared error
without it fixes $s^2 = \tfrac12$ by silence.

**A tighter bound from more samples.** Draw $z_1, \dots, z_K$ from $q$ and weigh each:

$$w_k = \frac{p(x \mid z_k)\, p(z_k)}{q(z_k \mid x)}, \qquad \mathbb{E}[w_k] = p(x), \tag{6}$$

$$\mathcal{L}_K = \mathbb{E}\!\left[ \log \frac1K \sum_{k=1}^K w_k \right]. \tag{7}$$

The average of the weights is an unbiased estimate of $p(x)$, and the logarithm is concave, so
$\mathcal{L}_K \le \log p(x)$ by Jensen. $\mathcal{L}_1$ is the ELBO. From there the bound can only grow with
$K$: an average of $K$ weights is the average of the averages of its parts, so Jensen applies again. If the
weights are bounded it reaches $\log p(x)$ in the limit [3]. Where $q$ is the true posterior each weight *is*
$p(x)$, and the estimate no longer varies.

## Worked example

Take $z \sim \mathcal{N}(0, 1)$, $x \mid z \sim \mathcal{N}(z, 1)$ and observe $x = 1$. Here all is known:
$x \sim \mathcal{N}(0, 2)$, so $\log p(1) = -\tfrac12 \log 4\pi - \tfrac14 = -1.5155$, and the posterior is
$\mathcal{N}(\tfrac12, \tfrac12)$.

- Guess the prior, $q = \mathcal{N}(0, 1)$. Then $\mathbb{E}(1 - z)^2 = 2$, so (5) averages $-0.9189 - 1$ and
  (3) is 0: the ELBO is $-1.9189$. The gap of $0.4034$ is what (1) says:
  $\mathrm{KL}(q \,\|\, p(z \mid x)) = \tfrac12 (2 + \tfrac12 - 1 - \log 2)$.
- Guess the posterior. Then $\mathbb{E}(1 - z)^2 = \tfrac14 + \tfrac12$, so (5) averages $-0.9189 - 0.375$; (3)
  is $\tfrac12 (\tfrac14 + \tfrac12 - 1 + 0.6931) = 0.2216$; the ELBO is $-1.5155$. No gap.
- With the prior as $q$, (6) is just $p(x \mid z_k)$. Draws of $0.3$ and $1.1$ have log weights $-1.1639$ and
  $-0.9239$. Their mean is $-1.0439$; the logarithm of the mean weight is $-1.0368$, a little higher. Both lie
  above $\log p(1)$: the bound holds on average, not for every draw.

## Plan

- `reparameterize(mean, log_variance)` draws one $z$ for each row by (2).
- `gaussian_kl(mean, log_variance)` is (3), for each row and each latent dimension, not yet summed.
- `bernoulli_log_likelihood(x, logits)` is (4), `gaussian_log_likelihood(x, mean, log_variance)` is (5): one
  number for each row.
- `elbo(model, x)` is the part of (1) that is labelled ELBO, one number for each image: the first term averaged over draws,
  the second exact.
- `log_importance_weights(model, x)` is the logarithm of (6), a row for each draw and a column for each image.
- `iwae_bound(log_weights)` is (7) from these.

`VAE`, two small networks with `encode`, `decode` and `log_likelihood`, is given, and nothing else is.

## Pitfalls

- Training starts well and then prints NaN: which exponential overflowed, or which logarithm met a zero?
- Samples are noisy, or far too much alike: was it the variance or its square root that was predicted?
- The encoder never moves from where it started: does the sample still know where it came from?
- A model with twice the pixels has the same KL term beside a likelihood half as strong as it should be: sum
  over features, average only over images.
- Two papers' nats differ by hundreds: grey levels put into (4) give a number, but no log-likelihood. The
  integral of $\exp$ of it over $[0, 1]$ is not 1 [5]. Compare bounds only on the same, binary data.
- The importance-weighted estimate of one image exceeds the true $\log p(x)$. That is no bug: see the worked
  example.

## Cost

One pass of the encoder, $K$ of the decoder. Memory $O(K \cdot \text{batch} \cdot \text{features})$.

On scikit-learn's digits (8 by 8, binary: grey level above one half; 1,437 for training, 360 held out)
`VAE(64, 16, 256)` trained on the ELBO for 6,000 steps of 100 images takes well under a minute on one thread. On the
held-out digits its ELBO is -18.1 nats an image, and (7) with 100 draws is -16.8 to -16.9 (three seeds). A
mixture of 50 Bernoulli products fitted by EM, the best of five starts and with its smoothing chosen on a fifth
of the training digits, has an exact -17.5: the VAE is 0.6 nats an image better, four standard errors of the
paired difference.

## Go further

- Experiment: set the Gaussian decoder's variance by hand, from 0.001 to 10, and watch how many latent
  dimensions keep a positive KL.
- Stretch: train on (7) with $K = 10$ in place of the ELBO. The bound gets better; look at what happens to the
  encoder's gradient [4].

## References

1. Kingma & Welling (2014), Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114
2. Rezende, Mohamed & Wierstra (2014), Stochastic backpropagation, https://arxiv.org/abs/1401.4082
3. Burda, Grosse & Salakhutdinov (2016), Importance weighted autoencoders, https://arxiv.org/abs/1509.00519
4. Rainforth et al. (2018), Tighter variational bounds are not necessarily better, https://arxiv.org/abs/1802.04537
5. Loaiza-Ganem & Cunningham (2019), The continuous Bernoulli, https://arxiv.org/abs/1907.06845
"""

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class LatentModel(Protocol):  # given: all that the bounds ask of a model
    """A guess at the latent variable from the data, and the likelihood of the data under it. The prior is N(0, I).

    Examples
    --------
    >>> model: LatentModel = VAE(64, 4, 32, generator=torch.Generator().manual_seed(0))
    >>> mean, log_variance = model.encode(torch.ones(5, 64))
    >>> mean.shape
    torch.Size([5, 4])
    """

    def encode(
        self, x: Float[Tensor, "batch features"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Guess z from the data.

        Parameters
        ----------
        x : Tensor
            Images, flat, one a row.

        Returns
        -------
        tuple of Tensor
            The mean and the log variance of q(z | x), one row for each image.
        """
        ...

    def log_likelihood(
        self, x: Float[Tensor, "batch features"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Judge the data by a guess.

        Parameters
        ----------
        x : Tensor
            Images, flat, one a row.
        z : Tensor
            A latent vector for each image; leading axes, if any, count samples.

        Returns
        -------
        Tensor
            log p(x | z) in nats.
        """
        ...


def _check_finite(**tensors: Tensor) -> None:  # given: argument checks
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} must be finite, got {tensor[~torch.isfinite(tensor)][0].item()}")


def _check_posterior(mean: Tensor, log_variance: Tensor) -> None:  # given: argument checks
    if mean.ndim == 0 or mean.numel() == 0:
        raise ValueError(f"mean must have shape (..., n_latents) and not be empty, got {tuple(mean.shape)}")
    if log_variance.shape != mean.shape:
        raise ValueError(f"log_variance must have the shape of mean, got {tuple(log_variance.shape)}")
    _check_finite(mean=mean, log_variance=log_variance)


def _check_images(x: Tensor, n_samples: int) -> None:  # given: argument checks
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must have shape (n_images, n_features) and not be empty, got {tuple(x.shape)}")
    _check_finite(x=x)
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")


def reparameterize(
    mean: Float[Tensor, "*batch latent"], log_variance: Float[Tensor, "*batch latent"], *, generator: torch.Generator
) -> Float[Tensor, "*batch latent"]:
    r"""Draw from a diagonal Gaussian so that the draw can be differentiated by its parameters: equation (2).

    Parameters
    ----------
    mean, log_variance : Tensor
        $\mu$ and $\log \sigma^2$, of the same shape.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        One draw for each entry, all independent, of the same shape and dtype.

    Raises
    ------
    ValueError
        If the shapes differ, or `mean` or `log_variance` is empty or not finite.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> z = reparameterize(torch.full((4000, 2), 5.0), torch.zeros(4000, 2), generator=generator)
    >>> z.shape, round(z.mean().item(), 1), round(z.std().item(), 1)
    (torch.Size([4000, 2]), 5.0, 1.0)
    """
    # given: the checks
    _check_posterior(mean, log_variance)
    # yours
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
    return mean + (log_variance / 2).exp() * noise


def gaussian_kl(
    mean: Float[Tensor, "*batch latent"], log_variance: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch latent"]:
    r"""Divergence of a diagonal Gaussian from the standard normal, in each dimension: equation (3).

    Parameters
    ----------
    mean, log_variance : Tensor
        $\mu$ and $\log \sigma^2$, of the same shape.

    Returns
    -------
    Tensor
        The divergence in nats, entry by entry: nothing is summed or averaged.

    Raises
    ------
    ValueError
        If the shapes differ, or `mean` or `log_variance` is empty or not finite.

    Examples
    --------
    >>> gaussian_kl(torch.tensor([[0.0, 0.5, 3.0]]), torch.tensor([[0.0, -0.6931, 0.0]]))
    tensor([[0.0000, 0.2216, 4.5000]])
    """
    # given: the checks
    _check_posterior(mean, log_variance)
    # yours
    # expm1(v) - v keeps its digits where v is small, exp(v) - 1 - v does not.
    return (mean.square() + log_variance.expm1() - log_variance) / 2


def bernoulli_log_likelihood(
    x: Float[Tensor, "batch features"], logits: Float[Tensor, "*samples batch features"]
) -> Float[Tensor, "*samples batch"]:
    r"""Log-likelihood of binary features whose log odds of a one are `logits`: equation (4).

    Parameters
    ----------
    x : Tensor
        The features, 0 or 1. Anything between is accepted too, but see the pitfalls.
    logits : Tensor
        $a$, for each row of `x`; leading axes, if any, count samples. Of any size: ±1000 lose nothing.

    Returns
    -------
    Tensor
        The sum over features, in nats.

    Raises
    ------
    ValueError
        If `x` is no matrix, is empty or leaves [0, 1], or `logits` does not end in the shape of `x` or is not finite.

    Examples
    --------
    >>> bernoulli_log_likelihood(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, -1000.0]]))
    tensor([-0.6931])
    """
    # given: the checks
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must have shape (n_images, n_features) and not be empty, got {tuple(x.shape)}")
    if not ((x >= 0) & (x <= 1)).all():
        raise ValueError(f"x must lie between 0 and 1, got values from {x.min().item()} to {x.max().item()}")
    if logits.shape[-2:] != x.shape:
        raise ValueError(f"logits must end in the shape {tuple(x.shape)} of x, got {tuple(logits.shape)}")
    _check_finite(logits=logits)
    # yours
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(dim=-1)


def gaussian_log_likelihood(
    x: Float[Tensor, "..."], mean: Float[Tensor, "..."], log_variance: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    r"""Log density of real features under independent normals: equation (5).

    The three are broadcast against each other, and the last axis counts features. So the variance may be given for
    each feature of each row, for each feature, or once for all of them.

    Parameters
    ----------
    x : Tensor
        The features.
    mean, log_variance : Tensor
        $m$ and $\log s^2$. Either may have leading axes that `x` has not, and the other way round.

    Returns
    -------
    Tensor
        The sum over features, in nats: of the common shape without its last axis.

    Raises
    ------
    ValueError
        If `x` is a single number or empty, or one of the three is not finite.

    Examples
    --------
    >>> gaussian_log_likelihood(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2), torch.tensor(0.0))
    tensor([-2.3379])
    """
    # given: the checks
    if x.ndim == 0 or x.numel() == 0:
        raise ValueError(f"x must have shape (..., n_features) and not be empty, got {tuple(x.shape)}")
    _check_finite(x=x, mean=mean, log_variance=log_variance)
    # yours
    # Standardise before squaring: the square of a residual of 1e-170 is 0.
    standardised = (x - mean) * (-log_variance / 2).exp()
    return -(standardised.square() + log_variance + math.log(2 * math.pi)).sum(dim=-1) / 2


def elbo(
    model: LatentModel, x: Float[Tensor, "batch features"], *, n_samples: int = 1, generator: torch.Generator
) -> Float[Tensor, " batch"]:
    r"""Estimate the evidence lower bound of each image: the part of equation (1) that is labelled so.

    The expectation of $\log p(x \mid z)$ is an average over `n_samples` draws from $q(z \mid x)$; the divergence
    is exact. The estimate is unbiased, and so is its gradient, for the encoder as for the decoder.

    Parameters
    ----------
    model : LatentModel
        Gives $q(z \mid x)$ by `encode` and $\log p(x \mid z)$ by `log_likelihood`.
    x : Tensor
        Images, flat, one a row.
    n_samples : int
        Draws for each image.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        The estimate for each image, in nats. To be maximised.

    Raises
    ------
    ValueError
        If `x` is no matrix, is empty or not finite, or `n_samples` is below 1.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> elbo(VAE(64, 4, 32, generator=generator), torch.ones(5, 64), generator=generator).shape
    torch.Size([5])
    """
    # given: the checks
    _check_images(x, n_samples)
    # yours
    mean, log_variance = model.encode(x)
    shape = (n_samples, *mean.shape)
    z = reparameterize(mean.expand(shape), log_variance.expand(shape), generator=generator)
    return model.log_likelihood(x, z).mean(dim=0) - gaussian_kl(mean, log_variance).sum(dim=-1)


def log_importance_weights(
    model: LatentModel, x: Float[Tensor, "batch features"], *, n_samples: int, generator: torch.Generator
) -> Float[Tensor, "{n_samples} batch"]:
    r"""Weigh draws from the encoder by the model: the logarithm of equation (6).

    Parameters
    ----------
    model : LatentModel
        Gives $q(z \mid x)$ by `encode` and $\log p(x \mid z)$ by `log_likelihood`.
    x : Tensor
        Images, flat, one a row.
    n_samples : int
        Draws for each image, $K$.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        $\log w_k$ in nats, a row for each draw. The weights themselves average to $p(x)$.

    Raises
    ------
    ValueError
        If `x` is no matrix, is empty or not finite, or `n_samples` is below 1.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> model = VAE(64, 4, 32, generator=generator)
    >>> log_importance_weights(model, torch.ones(5, 64), n_samples=3, generator=generator).shape
    torch.Size([3, 5])
    """
    # given: the checks
    _check_images(x, n_samples)
    # yours
    mean, log_variance = model.encode(x)
    shape = (n_samples, *mean.shape)
    z = reparameterize(mean.expand(shape), log_variance.expand(shape), generator=generator)
    prior = gaussian_log_likelihood(z, torch.zeros_like(mean), torch.zeros_like(mean))
    posterior = gaussian_log_likelihood(z, mean, log_variance)
    return model.log_likelihood(x, z) + prior - posterior


def iwae_bound(log_weights: Float[Tensor, "samples batch"]) -> Float[Tensor, " batch"]:
    r"""Combine the weights of all draws into one estimate for each image: equation (7) without its expectation.

    Parameters
    ----------
    log_weights : Tensor
        $\log w_k$, a row for each draw, of any size: only their differences are exponentiated. A draw that cannot have
        made the image has -inf.

    Returns
    -------
    Tensor
        The bound for each image, in nats; -inf where every draw has -inf.

    Raises
    ------
    ValueError
        If `log_weights` is no matrix or is empty, or has a NaN or +inf.

    Examples
    --------
    >>> iwae_bound(torch.tensor([[-1.16394], [-0.92394]]))
    tensor([-1.0368])
    """
    # given: the checks
    if log_weights.ndim != 2 or log_weights.numel() == 0:
        raise ValueError(f"log_weights must have shape (n_samples, n_images), got {tuple(log_weights.shape)}")
    if (log_weights.isnan() | (log_weights == torch.inf)).any():
        raise ValueError("log_weights must be finite or -inf, got NaN or +inf")
    # yours
    return torch.logsumexp(log_weights, dim=0) - math.log(len(log_weights))


class VAE(nn.Module):  # given: the two networks
    r"""A variational autoencoder with one hidden layer on either side.

    Parameters
    ----------
    n_features, n_latents, n_hidden : int
        Sizes of an image, of $z$ and of both hidden layers.
    likelihood : {"bernoulli", "gaussian"}
        Whether the decoder gives logits, for (4), or means, for (5) with one variance for all features,
        which is trained too.
    generator : torch.Generator
        Draws the initial weights.

    Attributes
    ----------
    encoder, decoder : nn.Sequential
        The networks. The encoder's outputs are the means, then the log variances.
    log_variance : nn.Parameter
        $\log s^2$, a single number. Only of use to the Gaussian likelihood.

    Raises
    ------
    ValueError
        If a size is below 1, or `likelihood` is neither of the two.

    Examples
    --------
    >>> model = VAE(64, 4, 32, generator=torch.Generator().manual_seed(0))
    >>> mean, log_variance = model.encode(torch.ones(5, 64))
    >>> mean.shape, model.decode(mean).shape
    (torch.Size([5, 4]), torch.Size([5, 64]))
    """

    def __init__(
        self,
        n_features: int,
        n_latents: int,
        n_hidden: int,
        *,
        likelihood: str = "bernoulli",
        generator: torch.Generator,
    ) -> None:
        if min(n_features, n_latents, n_hidden) < 1:
            raise ValueError(f"n_features, n_latents, n_hidden must be positive, got {n_features, n_latents, n_hidden}")
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', got {likelihood!r}")
        super().__init__()
        self.likelihood = likelihood
        self.encoder = nn.Sequential(nn.Linear(n_features, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 2 * n_latents))
        self.decoder = nn.Sequential(nn.Linear(n_latents, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_features))
        self.log_variance = nn.Parameter(torch.zeros(()), requires_grad=likelihood == "gaussian")
        for layer in [*self.encoder, *self.decoder]:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)

    def encode(
        self, x: Float[Tensor, "batch features"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Guess z from the data.

        Parameters
        ----------
        x : Tensor
            Images, flat, one a row.

        Returns
        -------
        tuple of Tensor
            The mean and the log variance of q(z | x), one row for each image.
        """
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch features"]:
        """Paint an image of each latent vector.

        Parameters
        ----------
        z : Tensor
            Latent vectors along the last axis.

        Returns
        -------
        Tensor
            The logits of the features, or their means.
        """
        return self.decoder(z)

    def log_likelihood(
        self, x: Float[Tensor, "batch features"], z: Float[Tensor, "*samples batch latent"]
    ) -> Float[Tensor, "*samples batch"]:
        """Judge the data by a guess.

        Parameters
        ----------
        x : Tensor
            Images, flat, one a row.
        z : Tensor
            A latent vector for each image; leading axes, if any, count samples.

        Returns
        -------
        Tensor
            log p(x | z) in nats, by equation (4) or (5).
        """
        if self.likelihood == "bernoulli":
            return bernoulli_log_likelihood(x, self.decode(z))
        return gaussian_log_likelihood(x, self.decode(z), self.log_variance)
