r"""Hierarchical models: let groups learn from each other, as much as the data say.

## Idea

Eight schools tried a coaching programme, each with an estimate of its effect and a large error. Believe each school
alone, and the best looks much better than it is; believe the average, and all differences are gone. A hierarchical model
has a parameter for how different schools are, infers it too, and pulls each estimate towards the average as far as that
warrants. Sampling such a model is hard in one set of coordinates and easy in another.

## Maths

**The model.** Group $j = 1 \dots J$ has an estimate $y_j$ with known standard error $\sigma_j$:

$$y_j \sim \mathcal{N}(\theta_j, \sigma_j^2), \quad \theta_j \sim \mathcal{N}(\mu, \tau^2), \quad \mu \sim \mathcal{N}(0, a^2), \quad
p(\tau) \propto \frac{1}{1 + \tau^2 / b^2}, \ \tau > 0. \tag{1}$$

**Given $\mu$ and $\tau$** the effects are independent, and each is a compromise of its own estimate and the common mean:

$$\theta_j \mid \mu, \tau, y \sim \mathcal{N}\big( \lambda_j y_j + (1 - \lambda_j) \mu,\ \lambda_j \sigma_j^2 \big), \qquad
\lambda_j = \frac{\tau^2}{\tau^2 + \sigma_j^2}. \tag{2}$$

$\lambda_j$ is the share of its own estimate that a group keeps: the smaller it is, the more the estimate is shrunk. At
$\tau = 0$ all is pooled, for large $\tau$ nothing.

**Given $\tau$ only**, integrate $\theta_j$ out: $y_j \sim \mathcal{N}(\mu, s_j)$ with $s_j = \sigma_j^2 + \tau^2$.
Together with the prior, $\mu$ is normal with

$$V = \Big( \frac{1}{a^2} + \sum_j \frac{1}{s_j} \Big)^{-1}, \qquad m = V \sum_j \frac{y_j}{s_j}, \tag{3}$$

variance and mean. By (2), with $\mu$ integrated out as well, $\theta_j$ has

$$\operatorname{E}[\theta_j \mid \tau] = \lambda_j y_j + (1 - \lambda_j) m, \qquad
\operatorname{Var}[\theta_j \mid \tau] = \lambda_j \sigma_j^2 + (1 - \lambda_j)^2 V. \tag{4}$$

**And $\tau$?** The probability of the data given $\tau$ is a normal integral over $\mu$: complete the square in
$-\frac{\mu^2}{2 a^2} - \sum_j \frac{(y_j - \mu)^2}{2 s_j}$, whose maximum is at $m$, to find

$$\log p(\tau \mid y) = \log p(\tau) + \frac{1}{2} \log V - \frac{1}{2} \sum_j \log s_j - \frac{1}{2} \Big( \sum_j \frac{y_j^2}{s_j} - \frac{m^2}{V} \Big) + \text{const}. \tag{5}$$

This is a function of one variable, so that the posterior can be had exactly, by a grid. On an even grid of
$t = \log \tau$ the weights are

$$w_i \propto p(\tau_i \mid y)\, \tau_i, \tag{6}$$

with the factor $\tau = \mathrm{d} \tau / \mathrm{d} t$. Expectations are weighted sums of (3) and (4), and variances
follow from

$$\operatorname{Var}[x] = \operatorname{E}\big[ \operatorname{Var}[x \mid \tau] \big] + \operatorname{Var}\big[ \operatorname{E}[x \mid \tau] \big]. \tag{7}$$

**For a sampler**, all unknowns are one vector without limits: $(\mu, t, \theta_1, \dots, \theta_J)$ with $t = \log \tau$,
called *centred*. Its log density is that of (1),

$$-\frac{\mu^2}{2 a^2} - \log\Big( 1 + \frac{\tau^2}{b^2} \Big) + t - \sum_j \frac{(y_j - \theta_j)^2}{2 \sigma_j^2} - J t - \sum_j \frac{(\theta_j - \mu)^2}{2 \tau^2}, \tag{8}$$

where $+t$ is the Jacobian of (6), and $-J t$ comes from the normalising constants $1 / \tau$ of the $\theta_j$.

Where $t$ is small, the $\theta_j$ are confined to a width of $\tau$ around $\mu$: a funnel. No step size suits both its
ends. Take as unknowns instead how many $\tau$ each group lies from the mean,

$$\theta_j = \mu + \tau \eta_j, \qquad \eta_j \sim \mathcal{N}(0, 1). \tag{9}$$

The *non-centred* vector $(\mu, t, \eta_1, \dots, \eta_J)$ has the log density

$$-\frac{\mu^2}{2 a^2} - \log\Big( 1 + \frac{\tau^2}{b^2} \Big) + t - \sum_j \frac{(y_j - \mu - \tau \eta_j)^2}{2 \sigma_j^2} - \sum_j \frac{\eta_j^2}{2}. \tag{10}$$

It is (8) plus $J t$, the Jacobian of (9). A priori nothing depends on anything now, and the funnel is gone; it is the
data that tie $\eta$ to $\tau$. So (10) is better where the data say little, as in the eight schools, and (8) where they
say a lot.

**Raw data** are summed up first. $n_j$ values of group $j$ with a known standard deviation $s$ have the mean $y_j$, with
standard error

$$\sigma_j = s / \sqrt{n_j}. \tag{11}$$

*No pooling* estimates $\theta_j$ by $y_j$, *complete pooling* by the mean of all values, *partial pooling* by the
posterior mean.

## Worked example

Two groups, $y = (8, 2)$, $\sigma = (2, 4)$, and $a = b = 10$. At $\tau = 2$: $\lambda = (0.5, 0.2)$, $s = (8, 20)$.
$1 / V = 0.01 + 0.125 + 0.05 = 0.185$, $V = 5.405$, $m = 5.405 \cdot (1 + 0.1) = 5.946$. The first effect has mean
$4 + 2.973 = 6.973$ and variance $2 + 0.25 \cdot 5.405 = 3.351$; the second $0.4 + 4.757 = 5.157$ and
$3.2 + 0.64 \cdot 5.405 = 6.659$. Equation (5) is $-\log 1.04 + 0.844 - 2.538 - \frac{1}{2} (8.2 - 6.541) = -2.563$.

*Centred* at $\mu = 5$, $t = \log 2 = 0.693$, $\theta = (7, 4)$, (8) is
$-0.125 - 0.039 + 0.693 - 0.25 - 1.386 - 0.625 = -1.732$. *Non-centred* $\eta = (1, -0.5)$, and (10) is $-0.346$: more by
$2 t$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `shrinkage` | $\tau$, standard errors | $\lambda_j$ | (2) |
| `conditional_moments` | a `Model`, values of $\tau$ | $m$, $V$, and those of $\theta_j$ | (3), (4) |
| `log_marginal` | a `Model`, values of $\tau$ | $\log p(\tau \mid y)$ | (5) |
| `exact_moments` | a `Model`, a grid of $t$ | means and deviations of all unknowns | (6), (7) |
| `centred` | positions | log densities and gradients | (8) |
| `non_centred` | positions | log densities and gradients | (10) |
| `to_centred` | non-centred positions | centred ones | (9) |
| `pool` | raw values, groups | a `Pooled`: three estimates | (11) |

The gradients are yours to derive. Given are `Model`, `log_tau_grid`, and `run`, which samples a model by Hamiltonian
Monte Carlo in either form.

## Pitfalls

- The gradient is right but in one entry: $t$ occurs in several places.
- Centred chains of some hundred steps have a wrong mean of $t$. Divergences say so, R-hat may not.
- The posterior of $\tau$ has its maximum at zero or infinity: look at its mean instead.
- Deviations are too small: (7) has two terms.
- Overflow of $e^{2t}$ for large $|t|$.
- Groups with few values are shrunk most: that they lie near the mean says little of them.

## Cost

$O(n_\text{grid} \cdot J)$ for the exact posterior, $O(J)$ a gradient.

## Go further

Experiment: multiply the errors of the eight schools by 0.05 and 20, and compare divergences and effective sample sizes of
both forms. A stretch goal: partly centred coordinates, $\theta_j = \mu + \tau^{c_j} \eta_j$ with $c_j$ between 0 and 1.

What is not here: unknown $\sigma_j$, group-level predictors, varying slopes. Priors are part of the model: with few
groups, $b$ matters [2].

## References

1. Rubin (1981), Estimation in parallel randomized experiments, https://doi.org/10.3102/10769986006004377
2. Gelman (2006), Prior distributions for variance parameters in hierarchical models, https://doi.org/10.1214/06-BA117A
3. Betancourt & Girolami (2013), Hamiltonian Monte Carlo for hierarchical models, https://arxiv.org/abs/1312.0906
4. Papaspiliopoulos, Roberts & Sköld (2007), A general framework for the parametrization of hierarchical models,
   https://doi.org/10.1214/088342307000000014
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from mlpath.bayes._shared import Draws
from mlpath.bayes.hamiltonian_monte_carlo import sample


@dataclass(frozen=True)
class Model:  # given
    """Estimates of several groups, and the priors of equation (1).

    Examples
    --------
    >>> model = Model(effects=np.array([8.0, 2.0]), errors=np.array([2.0, 4.0]))
    >>> print(model.mean_scale, model.spread_scale)
    5.0 5.0
    """

    effects: Float[np.ndarray, " n_groups"]
    """$y_j$."""
    errors: Float[np.ndarray, " n_groups"]
    r"""$\sigma_j$, the standard errors."""
    mean_scale: float = 5.0
    """$a$, the prior's standard deviation of the common mean."""
    spread_scale: float = 5.0
    r"""$b$, the scale of the prior of $\tau$."""

    def __post_init__(self) -> None:
        """Raise a ValueError where this is no model."""
        if self.effects.ndim != 1 or self.effects.size == 0 or not np.isfinite(self.effects).all():
            raise ValueError(f"effects must be a vector of finite numbers, got {self.effects}")
        if self.errors.shape != self.effects.shape or not ((self.errors > 0) & np.isfinite(self.errors)).all():
            raise ValueError(f"errors must be positive and as many as effects, got {self.errors}")
        for name, scale in (("mean_scale", self.mean_scale), ("spread_scale", self.spread_scale)):
            if not 0 < scale < np.inf:
                raise ValueError(f"{name} must be positive and finite, got {scale}")


@dataclass(frozen=True)
class Conditional:
    r"""What is known given $\tau$, a row for each value of it."""

    mean: Float[np.ndarray, " n_tau"]
    """$m$ of equation (3), of the common mean."""
    variance: Float[np.ndarray, " n_tau"]
    """$V$."""
    group_means: Float[np.ndarray, "n_tau n_groups"]
    """Of each effect, equation (4)."""
    group_variances: Float[np.ndarray, "n_tau n_groups"]


@dataclass(frozen=True)
class Moments:
    r"""Of the centred unknowns $(\mu, \log \tau, \theta_1, \dots, \theta_J)$, in this order."""

    mean: Float[np.ndarray, " dim"]
    sd: Float[np.ndarray, " dim"]
    """Standard deviations."""


@dataclass(frozen=True)
class Pooled:
    """Three estimates of the groups' means."""

    complete: Float[np.ndarray, " n_groups"]
    """The same number for all groups."""
    none: Float[np.ndarray, " n_groups"]
    partial: Float[np.ndarray, " n_groups"]


def shrinkage(
    tau: Float[np.ndarray, " n_tau"], errors: Float[np.ndarray, " n_groups"]
) -> Float[np.ndarray, "n_tau n_groups"]:
    r"""Return which share of its own estimate each group keeps, $\lambda_j$ of equation (2).

    Parameters
    ----------
    tau : ndarray
        Standard deviations of the effects, zero or positive.
    errors : ndarray
        Standard errors of the estimates.

    Returns
    -------
    ndarray
        One row for each value of `tau`, one column for each group.

    Examples
    --------
    >>> print(shrinkage(np.array([0.0, 2.0]), np.array([2.0, 4.0])))
    [[0.  0. ]
     [0.5 0.2]]
    """
    return tau[:, None] ** 2 / (tau[:, None] ** 2 + errors**2)


def conditional_moments(model: Model, tau: Float[np.ndarray, " n_tau"]) -> Conditional:
    r"""Return means and variances given $\tau$, equations (3) and (4).

    Parameters
    ----------
    model : Model
        Estimates and priors.
    tau : ndarray
        Standard deviations of the effects, zero or positive.

    Returns
    -------
    Conditional
        Of the common mean and of each effect, at each value of `tau`.

    Examples
    --------
    >>> found = conditional_moments(Model(np.array([8.0, 2.0]), np.array([2.0, 4.0]), 10.0, 10.0), np.array([2.0]))
    >>> print(found.mean.round(3), found.variance.round(3), found.group_means.round(3), found.group_variances.round(3))
    [5.946] [5.405] [[6.973 5.157]] [[3.351 6.659]]
    """
    share, s = shrinkage(tau, model.errors), model.errors**2 + tau[:, None] ** 2
    variance = 1 / (1 / model.mean_scale**2 + (1 / s).sum(axis=1))
    mean = variance * (model.effects / s).sum(axis=1)
    group_means = share * model.effects + (1 - share) * mean[:, None]
    group_variances = share * model.errors**2 + (1 - share) ** 2 * variance[:, None]
    return Conditional(mean, variance, group_means, group_variances)


def log_marginal(model: Model, tau: Float[np.ndarray, " n_tau"]) -> Float[np.ndarray, " n_tau"]:
    r"""Return the log posterior density of $\tau$, all else integrated out, equation (5).

    Parameters
    ----------
    model : Model
        Estimates and priors.
    tau : ndarray
        Standard deviations of the effects, zero or positive.

    Returns
    -------
    ndarray
        Up to one constant for all values of `tau`. It is the density of $\tau$, not that of its logarithm.

    Examples
    --------
    >>> model = Model(np.array([8.0, 2.0]), np.array([2.0, 4.0]), 10.0, 10.0)
    >>> found = log_marginal(model, np.array([0.0, 2.0]))
    >>> print((found[1] - found[0]).round(3))
    0.075
    """
    given, s = conditional_moments(model, tau), model.errors**2 + tau[:, None] ** 2
    log_prior = -np.log1p((tau / model.spread_scale) ** 2)
    square = (model.effects**2 / s).sum(axis=1) - given.mean**2 / given.variance
    return log_prior + (np.log(given.variance) - np.log(s).sum(axis=1) - square) / 2


def log_tau_grid(model: Model, n_points: int = 2001) -> Float[np.ndarray, " n_points"]:  # given
    r"""Return an even grid of $\log \tau$ that holds all of the posterior but $10^{-8}$ or so.

    Parameters
    ----------
    model : Model
        Estimates and priors.
    n_points : int
        How many.

    Returns
    -------
    ndarray
        From far below the prior's scale to far above the greatest scale that the data have.

    Examples
    --------
    >>> grid = log_tau_grid(Model(np.array([8.0, 2.0, 5.0]), np.array([2.0, 4.0, 3.0])))
    >>> print(len(grid), grid[0].round(1), grid[-1].round(1))
    2001 -19.3 14.3
    """
    scales = np.array([model.spread_scale, model.errors.min(), np.ptp(model.effects) + model.errors.max()])
    return np.linspace(np.log(scales[:2].min()) - 20, np.log(np.append(scales, model.mean_scale).max()) + 12, n_points)


def exact_moments(model: Model, log_tau: Float[np.ndarray, " n_points"]) -> Moments:
    r"""Return means and standard deviations of all unknowns by summing over a grid, equations (6) and (7).

    Parameters
    ----------
    model : Model
        Estimates and priors.
    log_tau : ndarray
        An even grid of $t = \log \tau$, as `log_tau_grid` returns.

    Returns
    -------
    Moments
        Of $(\mu, \log \tau, \theta_1, \dots, \theta_J)$. Differences of hundreds among the log densities do no harm.

    Examples
    --------
    >>> from mlpath.bayes._targets import eight_schools
    >>> model = Model(*eight_schools())
    >>> found = exact_moments(model, log_tau_grid(model))
    >>> print(found.mean[:4].round(2), found.sd[:4].round(2))
    [4.4  0.8  6.21 4.94] [3.32 1.17 5.59 4.67]
    """
    log_weight = log_marginal(model, np.exp(log_tau)) + log_tau
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    given = conditional_moments(model, np.exp(log_tau))
    means = np.column_stack([given.mean, log_tau, given.group_means])
    variances = np.column_stack([given.variance, np.zeros(len(log_tau)), given.group_variances])
    mean = weight @ means
    return Moments(mean, np.sqrt(weight @ (variances + (means - mean) ** 2)))


def centred(
    model: Model, position: Float[np.ndarray, "n_chains dim"]
) -> tuple[Float[np.ndarray, " n_chains"], Float[np.ndarray, "n_chains dim"]]:
    r"""Return log density and gradient of the centred unknowns, equation (8).

    Parameters
    ----------
    model : Model
        Estimates and priors.
    position : ndarray
        $(\mu, t, \theta_1, \dots, \theta_J)$ in each row, with $t = \log \tau$.

    Returns
    -------
    log_density : ndarray
        One for each row, exactly (8), without further constants.
    gradient : ndarray
        Its derivatives, in the order of `position`. Both are right for $|t|$ up to 400, without a warning of
        NumPy's, where a float can hold them.

    Examples
    --------
    >>> model = Model(np.array([8.0, 2.0]), np.array([2.0, 4.0]), 10.0, 10.0)
    >>> log_density, gradient = centred(model, np.array([[5.0, np.log(2.0), 7.0, 4.0]]))
    >>> print(log_density.round(3), gradient.round(3))
    [-1.732] [[ 0.2    0.173 -0.25   0.125]]
    """
    mean, t, theta = position[:, :1], position[:, 1:2], position[:, 2:]
    log_ratio = 2 * (t - np.log(model.spread_scale))
    misfit, z = (model.effects - theta) / model.errors, (theta - mean) * np.exp(-t)
    prior = -(mean**2) / (2 * model.mean_scale**2) - np.logaddexp(0, log_ratio) + (1 - theta.shape[1]) * t
    log_density = prior[:, 0] - (misfit**2 + z**2).sum(axis=1) / 2
    pull = z * np.exp(-t)
    of_mean = -mean / model.mean_scale**2 + pull.sum(axis=1, keepdims=True)
    of_t = 1 - theta.shape[1] - 2 * expit(log_ratio) + (z**2).sum(axis=1, keepdims=True)
    return log_density, np.hstack([of_mean, of_t, misfit / model.errors - pull])


def non_centred(
    model: Model, position: Float[np.ndarray, "n_chains dim"]
) -> tuple[Float[np.ndarray, " n_chains"], Float[np.ndarray, "n_chains dim"]]:
    r"""Return log density and gradient of the non-centred unknowns, equation (10).

    Parameters
    ----------
    model : Model
        Estimates and priors.
    position : ndarray
        $(\mu, t, \eta_1, \dots, \eta_J)$ in each row, with $t = \log \tau$.

    Returns
    -------
    log_density : ndarray
        One for each row, exactly (10), without further constants.
    gradient : ndarray
        Its derivatives, in the order of `position`. Both are right for $|t|$ up to 400, without a warning of
        NumPy's, where a float can hold them.

    Examples
    --------
    >>> model = Model(np.array([8.0, 2.0]), np.array([2.0, 4.0]), 10.0, 10.0)
    >>> log_density, gradient = non_centred(model, np.array([[5.0, np.log(2.0), 1.0, -0.5]]))
    >>> print(log_density.round(3), gradient.round(3))
    [-0.346] [[ 0.075  1.548 -0.5    0.25 ]]
    """
    mean, t, eta = position[:, :1], position[:, 1:2], position[:, 2:]
    log_ratio = 2 * (t - np.log(model.spread_scale))
    misfit = (model.effects - mean - np.exp(t) * eta) / model.errors
    prior = -(mean**2) / (2 * model.mean_scale**2) - np.logaddexp(0, log_ratio) + t
    log_density = prior[:, 0] - (misfit**2 + eta**2).sum(axis=1) / 2
    pull = misfit / model.errors
    of_mean = -mean / model.mean_scale**2 + pull.sum(axis=1, keepdims=True)
    of_t = 1 - 2 * expit(log_ratio) + np.exp(t) * (pull * eta).sum(axis=1, keepdims=True)
    return log_density, np.hstack([of_mean, of_t, np.exp(t) * pull - eta])


def to_centred(position: Float[np.ndarray, "... dim"]) -> Float[np.ndarray, "... dim"]:
    r"""Return the centred unknowns of non-centred ones, equation (9).

    Parameters
    ----------
    position : ndarray
        $(\mu, t, \eta_1, \dots, \eta_J)$ along the last axis, with $t = \log \tau$; any axes before, of chains and draws.

    Returns
    -------
    ndarray
        $(\mu, t, \theta_1, \dots, \theta_J)$, of the same shape.

    Examples
    --------
    >>> print(to_centred(np.array([5.0, np.log(2.0), 1.0, -0.5])).round(3))
    [5.    0.693 7.    4.   ]
    """
    mean, t, eta = position[..., :1], position[..., 1:2], position[..., 2:]
    return np.concatenate([mean, t, mean + np.exp(t) * eta], axis=-1)


def pool(values: Float[np.ndarray, " n_values"], groups: Int[np.ndarray, " n_values"], sd: float) -> Pooled:
    """Estimate the mean of each group in three ways, from raw values, by equation (11).

    Parameters
    ----------
    values : ndarray
        What was measured.
    groups : ndarray
        To which group each value belongs, numbered from 0. The values may come in any order.
    sd : float
        Standard deviation of the values within a group.

    Returns
    -------
    Pooled
        Partial pooling is the posterior mean by `exact_moments`, on `log_tau_grid`, with the default priors of `Model`.

    Raises
    ------
    ValueError
        If `values` is no vector of finite numbers, `groups` are not as many whole numbers from 0 on, each of them at least
        once, or `sd` is not positive.

    Examples
    --------
    >>> found = pool(np.array([1.0, 3.0, 2.0, 6.0]), np.array([0, 0, 0, 1]), 1.0)
    >>> print(found.complete, found.none, found.partial.round(2))
    [3. 3.] [2. 6.] [2.07 5.67]
    """
    # given: the checks
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"values must be a vector of finite numbers, got {values}")
    if groups.shape != values.shape or not np.array_equal(np.unique(groups), np.arange(groups.max() + 1)):
        raise ValueError(f"groups must be numbers from 0 on, one a value and none left out, got {groups}")
    if not 0 < sd < np.inf:
        raise ValueError(f"sd must be positive and finite, got {sd}")
    # yours
    counts = np.bincount(groups)
    means = np.bincount(groups, weights=values) / counts
    model = Model(means, sd / np.sqrt(counts))
    partial = exact_moments(model, log_tau_grid(model)).mean[2:]
    return Pooled(np.full(len(counts), values.mean()), means, partial)


def run(  # given
    model: Model,
    *,
    is_centred: bool,
    rng: np.random.Generator,
    n_chains: int = 4,
    n_draws: int = 1000,
    n_warm_up: int = 500,
    n_steps: int = 10,
) -> Draws:
    """Sample a model by Hamiltonian Monte Carlo in either form.

    Parameters
    ----------
    model : Model
        Estimates and priors.
    is_centred : bool
        In which form; the draws are centred in any case.
    rng : numpy.random.Generator
        Source of randomness.
    n_chains, n_draws, n_warm_up, n_steps : int
        As in `hamiltonian_monte_carlo.sample`.

    Returns
    -------
    Draws
        The draws turned into centred ones; log densities are those of the form in which it was sampled.

    Examples
    --------
    >>> model = Model(np.array([8.0, 2.0]), np.array([2.0, 4.0]))
    >>> found = run(model, is_centred=False, rng=np.random.default_rng(0), n_draws=20, n_warm_up=20)
    >>> print(found.draws.shape)
    (4, 20, 4)
    """
    form = centred if is_centred else non_centred
    start = rng.uniform(-1, 1, (n_chains, len(model.effects) + 2))
    found = sample(
        lambda x: form(model, x)[0],
        lambda x: form(model, x)[1],
        start,
        n_draws,
        n_steps=n_steps,
        n_warm_up=n_warm_up,
        rng=rng,
    )
    draws = found.draws if is_centred else to_centred(found.draws)
    return Draws(draws, found.log_density, found.acceptance_rate, found.divergent, found.step_size, found.inverse_mass)
