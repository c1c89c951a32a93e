r"""A mixture of normal distributions: Gibbs sampling with its parameters, and with them integrated out.

## Idea

Each point belongs to one of a few groups, but nobody says to which. If the groups' means and variances were known, the
labels of the points could be drawn; if the labels were known, so could means and variances. Gibbs sampling goes back and
forth. With a conjugate prior one can do better and integrate the parameters out: a point then looks at the other points
of each group directly, and moves to a group that it fits.

## Maths

The points $x_1, \dots, x_n$ are numbers, with *labels* $z_i$ from 0 to $K - 1$. Given the labels they are independent and
normal:

$$x_i \mid z_i = k \sim \mathcal{N}(\mu_k, \sigma_k^2), \qquad P(z_i = k) = w_k. \tag{1}$$

**The prior.** The weights $w$ have a Dirichlet law, with the density proportional to $\prod_k w_k^{\alpha - 1}$. Each
group has, independently, a *normal-inverse-gamma* law with the four numbers $m$, $\kappa$, $a$ and $b$: $1 / \sigma_k^2$
is gamma with shape $a$ and rate $b$, and $\mu_k$ given it is normal around $m$ with the variance $\sigma_k^2 / \kappa$,
as if $\kappa$ points had been seen before. So

$$p(\mu, \sigma^2) \propto \Big( \frac{1}{\sigma^2} \Big)^{a + 3/2} \exp \Big( -\frac{2 b + \kappa (\mu - m)^2}{2 \sigma^2} \Big). \tag{2}$$

**The posterior of a group** depends on its points through three sums over them, which we take around $m$ so that nothing
large cancels:

$$N = \sum_{z_i = k} 1, \qquad S = \sum_{z_i = k} (x_i - m), \qquad Q = \sum_{z_i = k} (x_i - m)^2. \tag{3}$$

Multiply (2) by the normal densities of these points. Each adds $\tfrac{1}{2}$ to the power and
$(x_i - \mu)^2 / (2 \sigma^2)$ to the exponent. With $d = \mu - m$, complete the square in
$\kappa d^2 + \sum (x_i - m - d)^2$: it is again (2), with

$$\kappa' = \kappa + N, \qquad m' = m + \frac{S}{\kappa'}, \qquad a' = a + \frac{N}{2}, \qquad b' = b + \frac{1}{2} \Big( Q - \frac{S^2}{\kappa'} \Big). \tag{4}$$

**Parameters out.** The constant that turns (2) into a density is $\sqrt{\kappa / (2 \pi)}\ b^a / \Gamma(a)$. What is left
when all parameters of a group are integrated out is the ratio of two such constants,

$$p(x_k) = (2 \pi)^{-N / 2}\, \sqrt{\frac{\kappa}{\kappa'}}\ \frac{\Gamma(a')}{\Gamma(a)}\, \frac{b^a}{b'^{\,a'}}, \tag{5}$$

and likewise, of the weights, with the sizes $N_k$ of the groups,

$$P(z) = \frac{\Gamma(K \alpha)}{\Gamma(K \alpha + n)} \prod_k \frac{\Gamma(\alpha + N_k)}{\Gamma(\alpha)}. \tag{6}$$

The joint probability of points and labels is (6) times (5) for each group. An empty group contributes 1.

**Plain Gibbs.** Given the labels, draw the weights, which have a Dirichlet law with $\alpha + N_k$ in place of $\alpha$,
and for each group $\sigma^2$ and $\mu$ from (4). Given these, the labels are independent:

$$P(z_i = k \mid x, w, \mu, \sigma^2) \propto w_k\, \mathcal{N}(x_i;\ \mu_k, \sigma_k^2). \tag{7}$$

**Collapsed Gibbs.** Draw each label in turn given the other labels, without parameters. In the joint probability let
$z_i$ vary. By (6) the factor $\alpha + N_k$ appears, with the sizes counted without $i$; by (5) the density of $x_i$
given the points that are in the group, its *predictive density*:

$$P(z_i = k \mid x, z_{-i}) \propto (\alpha + N_k^{-i})\ p(x_i \mid \text{the points of } k \text{ without } i). \tag{8}$$

Integrating $\mu$ and $\sigma^2$ out of a normal density by (2), with the numbers (4) of the points without $i$, gives a
Student $t$ density with $2 a'$ degrees of freedom, around $m'$, with the scale $s$:

$$p(x) = \frac{\Gamma(a' + \tfrac12)}{\Gamma(a')} \frac{1}{\sqrt{2 \pi a'}\, s} \Big( 1 + \frac{(x - m')^2}{2 a' s^2} \Big)^{-a' - 1/2}, \qquad
s^2 = \frac{b' (\kappa' + 1)}{a' \kappa'}. \tag{9}$$

The sums (3) change by one point only, so nothing need be summed anew.

**Label switching.** Prior and (1) do not change if groups are renumbered, so neither does the posterior: each group has
the same posterior of its mean as every other, an average over all. Means of group 0 over draws say nothing. What says
something does not depend on numbers:

$$C_{ij} = P(z_i = z_j \mid x), \tag{10}$$

the *co-clustering matrix*, or the predictive density.

## Worked example

Three points, 1, 2 and 6, with labels 0, 0 and 1; $K = 2$, $\alpha = 1$, $m = 2$, $\kappa = 1$, $a = 2$, $b = 1$. Group 0
has $N = 2$, $S = -1$ and $Q = 1$, so $\kappa' = 3$, $m' = 1.667$, $a' = 3$ and $b' = 1 + (1 - \tfrac13) / 2 = 1.333$.
Group 1 has $N = 1$, $S = 4$, $Q = 16$: $\kappa' = 2$, $m' = 4$, $a' = 2.5$, $b' = 1 + (16 - 8) / 2 = 5$. The logarithm of
(5) is $-2.557$ for the first and $-5.004$ for the second, and that of (6) is $\log \tfrac{2!\, 1!}{4!} = -2.485$,
together $-10.046$. For the second point, taken out of its group: group 0 keeps the point 1, and expects it with a density
of 0.361; group 1 expects it with 0.108. The sizes are 1 and 1, so it stays in group 0 with the probability 0.770.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `statistics` | points, labels | the three sums of each group | (3) |
| `posterior` | sums | the four numbers of each group | (4) |
| `log_joint` | points, labels | log probability of both | (5), (6) |
| `log_predictive` | a point, sums | log density of the point in each group | (9) |
| `draw_parameters` | sums | weights, means, variances | (4) |
| `draw_labels` | points, parameters | labels | (7) |
| `collapsed_sweep` | points, labels | labels | (8) |
| `co_clustering` | labels of many draws | which points go together | (10) |

Labels have the shape (n_chains, n_points), sums (n_chains, n_components, 3), in the order $N$, $S$, $Q$. `sample` is
given: it repeats either kind of sweep.

## Pitfalls

- Variances are drawn as if they were precisions, or a rate is taken for a scale.
- A collapsed point is still counted in its own group, so that nothing ever moves.
- Empty groups give `nan`, though their posterior is just the prior.
- A point far from everything underflows to zero in all groups.
- The means of "group 0" average out to the mean of all points.

## Cost

A plain sweep costs $O(n K)$ a chain, in a few vectorised steps. A collapsed sweep costs as much in $n$ steps one after
the other, so that many chains at once pay; it needs fewer sweeps.

## Go further

Experiment: let both samplers start from labels drawn at random, and plot how many sweeps each needs to find the three
groups of the figure. A stretch goal: let $K$ grow and put $\alpha = \alpha_0 / K$. What does (8) become in the limit? It
is a Dirichlet process.

What is not here: points of several dimensions (the gamma law becomes Wishart's), and a posterior of $K$.

## References

1. Diebolt & Robert (1994), Estimation of finite mixture distributions through Bayesian sampling,
   https://doi.org/10.1111/j.2517-6161.1994.tb01985.x
2. Neal (2000), Markov chain sampling methods for Dirichlet process mixture models,
   https://doi.org/10.1080/10618600.2000.10474879
3. Stephens (2000), Dealing with label switching in mixture models, https://doi.org/10.1111/1467-9868.00265
"""

# 8 parts to write. Test them with: pytest exercises/bayes/gibbs/mixture.py
# To be written without: sklearn.mixture, scipy.stats, pymc, numpyro

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Prior:  # given: with its checks
    """The number of groups and the numbers of their prior.

    Raises
    ------
    ValueError
        If `n_components` is below 1, `mean` is not finite, or one of the others is not positive and finite.

    Examples
    --------
    >>> print(Prior(n_components=2, concentration=1.0, mean=0.0, strength=0.1, shape=2.0, rate=1.0).strength)
    0.1
    """

    n_components: int
    """K, the number of groups."""
    concentration: float
    """alpha of the Dirichlet law of the weights."""
    mean: float
    """m, around which the means lie."""
    strength: float
    """kappa, how many points the prior of a mean is worth."""
    shape: float
    """a of the gamma law of the inverse variances."""
    rate: float
    """b of it."""

    def __post_init__(self) -> None:
        """Refuse numbers that make no prior."""
        if self.n_components < 1:
            raise ValueError(f"n_components must be at least 1, got {self.n_components}")
        if not np.isfinite(self.mean):
            raise ValueError(f"mean must be finite, got {self.mean}")
        for name in ("concentration", "strength", "shape", "rate"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be positive and finite, got {getattr(self, name)}")


@dataclass(frozen=True)
class Groups:
    """Weights, means and variances of the groups of each chain."""

    weights: Float[np.ndarray, "n_chains n_components"]
    means: Float[np.ndarray, "n_chains n_components"]
    variances: Float[np.ndarray, "n_chains n_components"]


def _check_points(x: np.ndarray) -> None:  # given: argument checks
    """Refuse points that are no vector of finite numbers."""
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise ValueError(f"x must be a vector of finite numbers, got {x}")


def _check_labels(labels: np.ndarray, x: np.ndarray, n_components: int) -> None:  # given: argument checks
    """Refuse labels that are none, or not one for each point."""
    if labels.ndim != 2 or labels.shape[1:] != x.shape or not ((labels >= 0) & (labels < n_components)).all():
        raise ValueError(f"labels must be from 0 to {n_components - 1}, of shape (n_chains, {len(x)}), got {labels}")


def statistics(
    x: Float[np.ndarray, " n_points"], labels: Int[np.ndarray, "n_chains n_points"], prior: Prior
) -> Float[np.ndarray, "n_chains n_components 3"]:
    """Return the three sums of each group, equation (3).

    Parameters
    ----------
    x : ndarray
        The points.
    labels : ndarray
        The group of each point, from 0, for each chain.
    prior : Prior
        Of which the mean and the number of groups are needed.

    Returns
    -------
    ndarray
        N, S and Q of each group, in this order on the last axis; zeros for an empty group.

    Raises
    ------
    ValueError
        If `x` is no vector of finite numbers, or `labels` are no numbers of groups, one for each point.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=2.0, strength=1.0, shape=2.0, rate=1.0)
    >>> print(statistics(np.array([1.0, 2.0, 6.0]), np.array([[0, 0, 1]]), prior)[0])
    [[ 2. -1.  1.]
     [ 1.  4. 16.]]
    """
    # given: the checks
    _check_points(x)
    _check_labels(labels, x, prior.n_components)
    raise NotImplementedError("not written yet: statistics")


def posterior(
    sums: Float[np.ndarray, "n_chains n_components 3"], prior: Prior
) -> tuple[
    Float[np.ndarray, "n_chains n_components"],
    Float[np.ndarray, "n_chains n_components"],
    Float[np.ndarray, "n_chains n_components"],
    Float[np.ndarray, "n_chains n_components"],
]:
    """Return the four numbers of the normal-inverse-gamma law of each group given its points, equation (4).

    Parameters
    ----------
    sums : ndarray
        N, S and Q of each group, as `statistics` returns them. They are not changed.
    prior : Prior
        The numbers before any point was seen.

    Returns
    -------
    mean, strength, shape, rate : ndarray
        m', kappa', a' and b', in this order. For an empty group they are those of the prior.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=2.0, strength=1.0, shape=2.0, rate=1.0)
    >>> mean, strength, shape, rate = posterior(np.array([[[2.0, -1.0, 1.0], [1.0, 4.0, 16.0]]]), prior)
    >>> print(mean.round(3), strength, shape, rate.round(3))
    [[1.667 4.   ]] [[3. 2.]] [[3.  2.5]] [[1.333 5.   ]]
    """
    raise NotImplementedError("not written yet: posterior")


def log_joint(
    x: Float[np.ndarray, " n_points"], labels: Int[np.ndarray, "n_chains n_points"], prior: Prior
) -> Float[np.ndarray, " n_chains"]:
    """Return the logarithm of the joint probability of points and labels without parameters, equations (5) and (6).

    Parameters
    ----------
    x : ndarray
        The points.
    labels : ndarray
        The group of each point, for each chain.
    prior : Prior
        The prior.

    Returns
    -------
    ndarray
        The logarithm for each chain, with all constants.

    Raises
    ------
    ValueError
        As `statistics`.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=2.0, strength=1.0, shape=2.0, rate=1.0)
    >>> print(log_joint(np.array([1.0, 2.0, 6.0]), np.array([[0, 0, 1], [0, 1, 1]]), prior).round(3))
    [-10.046 -11.255]
    """
    raise NotImplementedError("not written yet: log_joint")


def log_predictive(
    point: float, sums: Float[np.ndarray, "n_chains n_components 3"], prior: Prior
) -> Float[np.ndarray, "n_chains n_components"]:
    """Return the log density of one more point in each group, given the points that are there, equation (9).

    Parameters
    ----------
    point : float
        The point, the same for all chains. It is not among those in `sums`.
    sums : ndarray
        N, S and Q of each group.
    prior : Prior
        The prior.

    Returns
    -------
    ndarray
        The log density, normalised, in each group of each chain; finite up to a distance of $10^{150}$.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=2.0, strength=1.0, shape=2.0, rate=1.0)
    >>> sums = np.array([[[1.0, -1.0, 1.0], [1.0, 4.0, 16.0]]])
    >>> print(np.exp(log_predictive(2.0, sums, prior)).round(3))
    [[0.361 0.108]]
    """
    raise NotImplementedError("not written yet: log_predictive")


def draw_parameters(
    sums: Float[np.ndarray, "n_chains n_components 3"], prior: Prior, *, rng: np.random.Generator
) -> Groups:
    """Draw weights, means and variances from their posterior given the labels, by equation (4).

    Parameters
    ----------
    sums : ndarray
        N, S and Q of each group.
    prior : Prior
        The prior.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Groups
        Each group has a variance of its own, and a mean drawn given that variance. The weights of a chain sum to 1. Empty
        groups are drawn from the prior.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=0.0, strength=1.0, shape=2.0, rate=1.0)
    >>> sums = np.array([[[3e8, 6e8, 15e8], [1e8, 5e8, 29e8]]])
    >>> found = draw_parameters(sums, prior, rng=np.random.default_rng(0))
    >>> print(found.weights.round(2), found.means.round(2), found.variances.round(2))
    [[0.75 0.25]] [[2. 5.]] [[1. 4.]]
    """
    raise NotImplementedError("not written yet: draw_parameters")


def draw_labels(
    x: Float[np.ndarray, " n_points"], parameters: Groups, *, rng: np.random.Generator
) -> Int[np.ndarray, "n_chains n_points"]:
    """Draw the label of each point given the parameters, equation (7).

    Parameters
    ----------
    x : ndarray
        The points.
    parameters : Groups
        Weights, means and variances of each chain. A weight may be 0: that group gets no point.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        A label for each point of each chain, each drawn by itself. A point that is so far from all groups that its densities
        underflow is drawn by their logarithms all the same.

    Raises
    ------
    ValueError
        If `x` is no vector of finite numbers.

    Examples
    --------
    >>> parameters = Groups(np.array([[0.5, 0.5]]), np.array([[0.0, 100.0]]), np.array([[1.0, 1.0]]))
    >>> print(draw_labels(np.array([1.0, 99.0, 2.0, 1000.0]), parameters, rng=np.random.default_rng(0)))
    [[0 1 0 1]]
    """
    # given: the check
    _check_points(x)
    raise NotImplementedError("not written yet: draw_labels")


def collapsed_sweep(
    x: Float[np.ndarray, " n_points"],
    labels: Int[np.ndarray, "n_chains n_points"],
    prior: Prior,
    *,
    rng: np.random.Generator,
) -> Int[np.ndarray, "n_chains n_points"]:
    """Draw the label of each point in turn, from the first to the last, given all the other labels, equation (8).

    Parameters
    ----------
    x : ndarray
        The points.
    labels : ndarray
        The group of each point, for each chain. They are not changed.
    prior : Prior
        The prior.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The new labels. Each point sees the new labels of those before it and the old ones of those after it.

    Raises
    ------
    ValueError
        As `statistics`.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=50.0, strength=0.01, shape=2.0, rate=1.0)
    >>> x, labels = np.array([100.0, 0.0, 1.0, 2.0, 99.0, 101.0]), np.array([[0, 0, 0, 0, 1, 1]])
    >>> print(collapsed_sweep(x, labels, prior, rng=np.random.default_rng(0)))
    [[1 0 0 0 1 1]]
    """
    raise NotImplementedError("not written yet: collapsed_sweep")


def co_clustering(labels: Int[np.ndarray, "n_draws n_points"]) -> Float[np.ndarray, "n_points n_points"]:
    """Return in which share of the draws each two points have the same label, equation (10).

    Parameters
    ----------
    labels : ndarray
        A draw a row: of one chain, or of several below each other. The numbers of the groups may mean something else in each row.

    Returns
    -------
    ndarray
        Symmetric, with ones on the diagonal.

    Raises
    ------
    ValueError
        If there is no draw or no point, or `labels` has not two axes.

    Examples
    --------
    >>> print(co_clustering(np.array([[0, 0, 1], [1, 1, 0], [2, 1, 2], [0, 0, 0]])))
    [[1.   0.75 0.5 ]
     [0.75 1.   0.25]
     [0.5  0.25 1.  ]]
    """
    # given: the check
    if labels.ndim != 2 or labels.size == 0:
        raise ValueError(f"labels must have shape (n_draws, n_points), got {labels.shape}")
    raise NotImplementedError("not written yet: co_clustering")


def sample(  # given: the driver
    x: Float[np.ndarray, " n_points"],
    labels: Int[np.ndarray, "n_chains n_points"],
    n_draws: int,
    *,
    prior: Prior,
    collapsed: bool,
    rng: np.random.Generator,
) -> Int[np.ndarray, "n_chains n_draws n_points"]:
    """Repeat sweeps of either kind, and record the labels after each.

    Parameters
    ----------
    x : ndarray
        The points.
    labels : ndarray
        Where each chain starts. Not itself recorded.
    n_draws : int
        Number of sweeps.
    prior : Prior
        The prior.
    collapsed : bool
        Whether to draw without parameters.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The labels after each sweep.

    Raises
    ------
    ValueError
        If `n_draws` is below 1; otherwise as `statistics`.

    Examples
    --------
    >>> prior = Prior(n_components=2, concentration=1.0, mean=50.0, strength=0.01, shape=2.0, rate=1.0)
    >>> x, labels = np.array([0.0, 1.0, 100.0, 101.0, 99.0]), np.array([[0, 0, 1, 0, 0]])
    >>> draws = sample(x, labels, 50, prior=prior, collapsed=True, rng=np.random.default_rng(0))
    >>> print(draws.shape, co_clustering(draws[0, 5:]).round()[0])
    (1, 50, 5) [1. 1. 0. 0. 0.]
    """
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    draws = np.empty((len(labels), n_draws, len(x)), dtype=int)
    for t in range(n_draws):
        if collapsed:
            labels = collapsed_sweep(x, labels, prior, rng=rng)
        else:
            labels = draw_labels(x, draw_parameters(statistics(x, labels, prior), prior, rng=rng), rng=rng)
        draws[:, t] = labels
    return draws
