r"""Reversible jump: a Markov chain that moves between polynomials of different order.

## Idea

Is it a straight line or a parabola? Let the chain decide: besides the coefficients, it may change how many there are. To
go up, it invents the missing coefficient from random numbers; to go down, it gives one up, and with it the random numbers
that would have led there. The time that it spends at each order is the order's posterior probability.

The two spaces have different dimensions, so that their densities cannot be compared directly. With the random numbers
added to the smaller space, both have the same dimension, and all that remains is a change of variables.

## Maths

**The model.** Data $y_1, \dots, y_n$ follow a polynomial of unknown order $k \in \{0, \dots, K\}$, with normal errors of
known standard deviation $\sigma$. Write it in a basis $q_0, q_1, \dots, q_K$, where $q_j$ has degree $j$ and

$$\frac{1}{n} \sum_{i=1}^n q_j(x_i)\, q_l(x_i) = \begin{cases} 1 & j = l \\ 0 & j \ne l. \end{cases} \tag{1}$$

Beforehand the order is $k$ with probability $p(k)$, and given $k$ the coefficients $\beta_0, \dots, \beta_k$ are
independent $\mathcal{N}(0, \tau^2)$. The joint density of everything is

$$p(k, \beta, y) = p(k) \prod_{j=0}^k \mathcal{N}(\beta_j; 0, \tau^2) \prod_{i=1}^n \mathcal{N}\Big(y_i;\ \sum_{j=0}^k \beta_j\, q_j(x_i),\ \sigma^2\Big). \tag{2}$$

Each order has another number of factors: their constants do *not* cancel between orders.

**A jump.** Let the chain be at $\theta$ in the smaller space. With probability $b$ it tries to go up: it draws random
numbers $u$ with the density $g(u)$, and computes $\theta' = h(\theta, u)$ by a map that can be inverted, so that
$\theta'$ has as many coordinates as $\theta$ and $u$ together. At $\theta'$ it tries to go down with probability $d$, by
the inverse of the same map. A small volume $\mathrm{d}\theta\, \mathrm{d}u$ becomes the volume
$|\det J|\, \mathrm{d}\theta\, \mathrm{d}u$ around $\theta'$, where $J$ is the matrix of derivatives of $\theta'$ by
$(\theta, u)$. The traffic up and the traffic down between the two volumes are equal if

$$\pi(\theta)\, b\, g(u)\, \alpha_\text{up} = \pi(\theta')\, d\, |\det J|\, \alpha_\text{down}. \tag{3}$$

As in Metropolis and Hastings, the largest probabilities of acceptance that satisfy it are
$\alpha_\text{up} = \min\{1, A\}$ and $\alpha_\text{down} = \min\{1, 1 / A\}$, with

$$\log A = \underbrace{\log \frac{\pi(\theta')}{\pi(\theta)}}_\text{target}\ +\ \underbrace{\log \frac{d}{b\, g(u)}}_\text{proposal}\ +\ \log |\det J|. \tag{4}$$

The same three terms serve for the way down: each with the opposite sign, the last because the inverse map has the inverse
matrix. A map whose matrix is singular cannot be inverted, and there is no way back.

**How often to try.** Let $p(k)$ be the prior, and $c \le \tfrac{1}{2}$ a constant. Green [1] tries to go up from $k$ and
down from $k$ with the probabilities

$$b_k = c\, \min\Big\{1, \frac{p(k + 1)}{p(k)}\Big\}, \qquad d_k = c\, \min\Big\{1, \frac{p(k - 1)}{p(k)}\Big\}, \qquad b_K = d_0 = 0. \tag{5}$$

Then $b_k\, p(k) = d_{k+1}\, p(k + 1)$: without data every jump would be balanced already. With the probability
$1 - b_k - d_k$ nothing is tried.

**Birth and death of a coefficient.** From order $k$ upwards, keep $\beta_0, \dots, \beta_k$ and set

$$\beta_{k+1} = m_{k+1} + s_{k+1}\, u, \qquad u \sim \mathcal{N}(0, 1), \tag{6}$$

with a centre $m_j$ and a scale $s_j > 0$ chosen for each coefficient. The map changes only $u$, into $\beta_{k+1}$. From
order $k$ downwards, $\beta_k$ is given up: it stands for the $u$ that (6) would have needed.

**Within an order**, the coefficients are drawn anew from their full conditional. By (1) the sum of squares in (2) splits
into a sum over $j$. With $z_j = \frac{1}{n} \sum_i q_j(x_i)\, y_i$, which is the least-squares estimate,

$$\log p(k, \beta, y) = \text{const}_k + \sum_{j=0}^k \Big( \frac{n}{\sigma^2}\, z_j\, \beta_j - \frac{1}{2} \Big(\frac{n}{\sigma^2} + \frac{1}{\tau^2}\Big) \beta_j^2 \Big). \tag{7}$$

So $\beta_0, \dots, \beta_k$ are independent and normal given $k$ and $y$; complete the squares to see with which means
and variance. They do not depend on $k$.

**The exact answer.** Integrate (2) over the coefficients, one by one, with (7). The coefficient $\beta_j$ contributes the
factor

$$B_j = \int \mathcal{N}(\beta; 0, \tau^2)\, \exp\Big( \frac{n}{\sigma^2} \Big( z_j\, \beta - \frac{\beta^2}{2} \Big) \Big)\, \mathrm{d}\beta, \tag{8}$$

a normal integral that you can do, and all the rest does not depend on $k$:

$$p(k \mid y) \propto p(k)\, B_0\, B_1 \cdots B_k. \tag{9}$$

$B_j$ may be below 1: a coefficient that explains nothing costs a factor of about $\sigma / (\tau \sqrt{n})$. So the more
complicated polynomial has to earn its place, without any penalty written by hand.

## Worked example

*The basis.* Let $x = (-1, 0, 1)$, so $n = 3$. Then $q_0 = 1$, $q_1 = \sqrt{3/2}\; x$, $q_2 = (3 x^2 - 2) / \sqrt{2}$, by
(1). With $y = (0, 1, 5)$ we get $z = (2,\ 2.0412,\ 0.7071)$.

*The orders.* Let $\sigma = \tau = 1$ and $p(k) = \tfrac{1}{3}$. The integral (8) gives $B = (45.0,\ 54.3,\ 0.878)$, and
(9) the probabilities 0.0097, 0.5274 and 0.4628. Given the order, each coefficient has the variance $\tfrac{1}{4}$ and the
mean $\tfrac{3}{4} z_j$.

*A jump.* The chain has $k = 1$ and $\beta = (2, 2)$, and $c = \tfrac{1}{2}$, so $b_1 = d_2 = \tfrac{1}{2}$. With
$m_2 = 0.2$, $s_2 = 0.6$ and $u = 0.5$ it might go to $\beta' = (2, 2, 0.5)$. The target ratio in (4) is $-0.3583$: the
likelihood gains $3\,(0.7071 \cdot 0.5 - 0.125) = 0.6857$, the prior of $\beta_2$ takes 1.0439. The proposal adds
$-\log g(0.5) = 1.0439$, and the matrix $J = (0.6)$ adds $-0.5108$. So $\log A = 0.1748$: this birth is certainly taken,
and the death from $\beta'$ in 84 % of the cases.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `log_ratio` | target ratio, proposal ratio, matrices $J$ | $\log A$ of each chain | (4) |
| `move_probabilities` | the prior of the orders | how often to try a birth, a death | (5) |
| `log_posterior` | orders and coefficients | the joint log density | (2) |
| `order_posterior` | the model | the exact log probability of each order | (8), (9) |
| `redraw` | orders | coefficients | (7) |
| `birth` | orders, coefficients, $u$ | a `Jump`: where to, and $\log A$ | (4), (6) |
| `death` | orders, coefficients | a `Jump` | (4), (6) |
| `sample` | orders to start from | `Orders` | all of these |

Chains of different order sit in one array: a row of coefficients has $K + 1$ entries, those beyond the order are 0.
`orthonormal_basis`, which is a QR decomposition, is given.

## Pitfalls

- High orders are too popular, or never visited, although each order by itself is sampled well.
- The chain depends on the scale of the proposal in what it finds, not only in how fast.
- A death is not the exact reverse of a birth.
- At the lowest or highest order the chain stays too long, or leaves the range.
- Coefficients that are absent have a prior density all the same, or are left behind in the array.
- The order moves, but coefficients of low order never do.

## Cost

A step costs $O(n K)$ a chain, for the fits of the two polynomials. The exact answer costs $O(n K)$ in all: the sampler is
for those models of which (8) cannot be done, and here we can see whether it is right.

## Go further

Experiment: let $s_j$ grow from a hundredth of the best value to a hundredfold, and plot the share of accepted jumps. Then
set $m_j$ and $s_j$ to mean and standard deviation of (7): what does $A$ depend on now? A stretch goal: let $\sigma$ be
unknown.

What is not here: jumps that do more than append a coefficient, such as splits and merges. The next exercise has them.

## References

1. Green (1995), Reversible jump Markov chain Monte Carlo computation and Bayesian model determination,
   https://doi.org/10.1093/biomet/82.4.711
2. Hastie & Green (2012), Model choice using reversible jump Markov chain Monte Carlo,
   https://doi.org/10.1111/j.1467-9574.2012.00516.x
3. Kass & Raftery (1995), Bayes factors, https://doi.org/10.1080/01621459.1995.10476572
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Model:  # given
    """What is known: data, basis, noise and priors.

    Examples
    --------
    >>> model = Model(np.array([1.0, 4.0]), np.array([[1.0, -1.0], [1.0, 1.0]]), 0.5, 3.0, np.zeros(2))
    >>> model.basis.shape
    (2, 2)
    """

    y: Float[np.ndarray, " n"]
    """The data."""
    basis: Float[np.ndarray, "n n_terms"]
    """q_j(x_i), one column for each j from 0 to K, with (1)."""
    noise: float
    """The standard deviation of the errors."""
    spread: float
    """The prior standard deviation of each coefficient, tau."""
    log_prior: Float[np.ndarray, " n_terms"]
    """log p(k) for each k from 0 to K, up to a constant."""

    def __post_init__(self) -> None:
        if self.basis.ndim != 2 or self.y.shape != self.basis.shape[:1] or not np.isfinite(self.y).all():
            raise ValueError(f"y must be finite with one entry a row of basis, got shape {self.y.shape}")
        n, n_terms = self.basis.shape
        if not np.allclose(self.basis.T @ self.basis / n, np.eye(n_terms)):
            raise ValueError(f"basis must be orthonormal by (1), got {self.basis.T @ self.basis / n}")
        for name, value in (("noise", self.noise), ("spread", self.spread)):
            if not 0 < value < np.inf:
                raise ValueError(f"{name} must be positive and finite, got {value}")
        _check_log_prior(self.log_prior)
        if self.log_prior.shape != (n_terms,):
            raise ValueError(f"log_prior must have {n_terms} entries, got shape {self.log_prior.shape}")


@dataclass(frozen=True)
class Proposal:  # given
    """How new coefficients are made, and how often that is tried.

    Examples
    --------
    >>> Proposal(np.zeros(3), np.array([1.0, 0.5, 0.5])).share
    0.5
    """

    centre: Float[np.ndarray, " n_terms"]
    """m_j for each j from 0 to K; the first is never used."""
    scale: Float[np.ndarray, " n_terms"]
    """s_j, likewise."""
    share: float = 0.5
    """c of (5)."""

    def __post_init__(self) -> None:
        if self.centre.ndim != 1 or not np.isfinite(self.centre).all():
            raise ValueError(f"centre must be a vector of finite numbers, got {self.centre}")
        if self.scale.shape != self.centre.shape or not ((self.scale > 0) & (self.scale < np.inf)).all():
            raise ValueError(f"scale must be positive, finite and as many as centre, got {self.scale}")
        _check_share(self.share)


@dataclass(frozen=True)
class Jump:
    """Where each chain might go, and what that depends on."""

    order: Int[np.ndarray, " n_chains"]
    """The new orders."""
    coefficients: Float[np.ndarray, "n_chains n_terms"]
    """The new coefficients; 0 beyond the new order."""
    log_ratio: Float[np.ndarray, " n_chains"]
    """log A of going there from here: positive where it is sure to be accepted, there is no minimum with 0."""


@dataclass(frozen=True)
class Orders:
    """What `sample` returns."""

    order: Int[np.ndarray, "n_chains n_draws"]
    """The order of each chain after each step."""
    coefficients: Float[np.ndarray, "n_chains n_draws n_terms"]
    """Its coefficients; 0 beyond the order."""
    acceptance_rate: Float[np.ndarray, " n_chains"]
    """The share of the steps of each chain in which a jump was accepted."""


def _check_log_prior(log_prior: np.ndarray) -> None:  # given: argument checks
    """Refuse a prior whose ratios overflow."""
    if log_prior.ndim != 1 or log_prior.size == 0 or not np.isfinite(log_prior).all() or np.ptp(log_prior) > 700:
        raise ValueError(f"log_prior must be finite numbers that differ by 700 at most, got {log_prior}")


def _check_share(share: float) -> None:  # given: argument checks
    """Refuse a constant c that would make a probability above 1."""
    if not 0 < share <= 0.5:
        raise ValueError(f"share must be above 0 and at most 0.5, got {share}")


def _check_order(order: np.ndarray, low: int, high: int) -> None:  # given: argument checks
    """Refuse orders that are out of range."""
    if order.ndim != 1 or not np.issubdtype(order.dtype, np.integer) or not ((order >= low) & (order <= high)).all():
        raise ValueError(f"order must be a vector of whole numbers from {low} to {high}, got {order}")


def orthonormal_basis(x: Float[np.ndarray, " n"], max_order: int) -> Float[np.ndarray, "n n_terms"]:  # given
    """Return polynomials of degree 0 to `max_order` at the points, with equation (1) and positive leading coefficients.

    Parameters
    ----------
    x : ndarray
        The points. Their range is mapped to -1 to 1 beforehand, so that powers of large numbers do no harm.
    max_order : int
        The highest degree.

    Returns
    -------
    ndarray
        One column for each degree.

    Raises
    ------
    ValueError
        If `x` is not a vector of finite numbers, or has no more than `max_order` different ones, or `max_order` is below 0.

    Examples
    --------
    >>> print(orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2).round(4) + 0.0)
    [[ 1.     -1.2247  0.7071]
     [ 1.      0.     -1.4142]
     [ 1.      1.2247  0.7071]]
    """
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(f"x must be a vector of finite numbers, got {x}")
    if not 0 <= max_order < len(np.unique(x)):
        raise ValueError(f"max_order must be from 0 to one less than there are different points, got {max_order}")
    centred = (2 * x - x.max() - x.min()) / max(np.ptp(x), np.finfo(float).tiny)
    q, r = np.linalg.qr(np.polynomial.legendre.legvander(centred, max_order))
    return np.sqrt(len(x)) * q * np.sign(np.diag(r))


def log_ratio(
    log_target_ratio: Float[np.ndarray, " n_chains"],
    log_proposal_ratio: Float[np.ndarray, " n_chains"],
    jacobian: Float[np.ndarray, "n_chains m m"],
) -> Float[np.ndarray, " n_chains"]:
    r"""Return the logarithm of the ratio on which the acceptance of a jump depends, equation (4).

    Parameters
    ----------
    log_target_ratio : ndarray
        The log of the target density there over that here; -inf where it is zero there.
    log_proposal_ratio : ndarray
        The log of the density of the way back over that of the way there.
    jacobian : ndarray
        For each chain the matrix of derivatives of the new coordinates by the old ones and random numbers: the matrix, not its
        determinant. Coordinates that the map keeps may be left out.

    Returns
    -------
    ndarray
        $\log A$ of each chain, positive where $A > 1$. Entries of `jacobian` as small as 1e-200 are no obstacle.

    Raises
    ------
    ValueError
        If the first two hold NaN or +inf, or `jacobian` is not a stack of square matrices of finite numbers: these checks are given. And, which
        is yours to write, if one of these matrices is singular, so that its determinant is exactly 0 (or its logarithm minus
        infinity): begin the message with the name `jacobian`.

    Examples
    --------
    >>> jacobian = np.array([[[2.0, 1.0], [0.0, -3.0]], [[0.5, 0.0], [7.0, 2.0]]])
    >>> print(log_ratio(np.array([-1.0, -1.0]), np.array([0.5, 0.5]), jacobian).round(4))
    [ 1.2918 -0.5   ]
    """
    # given: the checks
    for name, value in (("log_target_ratio", log_target_ratio), ("log_proposal_ratio", log_proposal_ratio)):
        if not (value < np.inf).all():
            raise ValueError(f"{name} must not be NaN or infinite, got {value[~(value < np.inf)][0]}")
    if jacobian.ndim != 3 or jacobian.shape[1] != jacobian.shape[2] or not np.isfinite(jacobian).all():
        raise ValueError(f"jacobian must be finite square matrices, one a chain, got shape {jacobian.shape}")
    # yours
    log_determinant = np.linalg.slogdet(jacobian)[1]
    if np.isneginf(log_determinant).any():
        raise ValueError(f"jacobian must be invertible, got {jacobian[np.isneginf(log_determinant)][0]}")
    return log_target_ratio + log_proposal_ratio + log_determinant


def move_probabilities(
    log_prior: Float[np.ndarray, " n_terms"], *, share: float = 0.5
) -> tuple[Float[np.ndarray, " n_terms"], Float[np.ndarray, " n_terms"]]:
    """Return how often to try a birth and a death at each order, equation (5).

    Parameters
    ----------
    log_prior : ndarray
        log p(k) for k from 0 to K, up to a constant.
    share : float
        c, above 0 and at most 1/2.

    Returns
    -------
    birth : ndarray
        b_k for each k from 0 to K. The last is 0.
    death : ndarray
        d_k for each k from 0 to K. The first is 0.

    Raises
    ------
    ValueError
        If `log_prior` is not a vector of finite numbers that differ by 700 at most, or `share` is out of range.

    Examples
    --------
    >>> birth, death = move_probabilities(np.log([0.5, 0.25, 0.25]), share=0.4)
    >>> print(birth, death)
    [0.2 0.4 0. ] [0.  0.4 0.4]
    """
    # given: the checks
    _check_log_prior(log_prior)
    _check_share(share)
    # yours
    rise = np.diff(log_prior)
    birth, death = np.zeros(len(log_prior)), np.zeros(len(log_prior))
    birth[:-1] = share * np.exp(np.minimum(rise, 0.0))
    death[1:] = share * np.exp(np.minimum(-rise, 0.0))
    return birth, death


def log_posterior(
    model: Model, order: Int[np.ndarray, " n_chains"], coefficients: Float[np.ndarray, "n_chains n_terms"]
) -> Float[np.ndarray, " n_chains"]:
    r"""Return the joint log density of orders, coefficients and data, equation (2), with all its constants.

    Parameters
    ----------
    model : Model
        Data and priors. `log_prior` is taken as it is, without making its probabilities sum to 1.
    order : ndarray
        $k$ of each chain, from 0 to K.
    coefficients : ndarray
        $\beta_0, \dots, \beta_k$ of each chain in a row of K + 1 entries, of which those beyond the order are 0. Coefficients
        that are absent have no prior density.

    Returns
    -------
    ndarray
        $\log p(k, \beta, y)$ of each chain.

    Raises
    ------
    ValueError
        If `order` is out of range.

    Examples
    --------
    >>> basis = orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2)
    >>> model = Model(np.array([0.0, 1.0, 5.0]), basis, 1.0, 1.0, np.log(np.full(3, 1 / 3)))
    >>> print(log_posterior(model, np.array([1, 2]), np.array([[2.0, 2.0, 0.0], [2.0, 2.0, 0.5]])).round(4))
    [-10.4459 -10.8041]
    """
    # given: the check
    _check_order(order, 0, len(model.log_prior) - 1)
    # yours
    there = np.arange(len(model.log_prior)) <= order[:, None]
    misfit = model.y - coefficients @ model.basis.T
    of_coefficients = np.where(there, _log_normal(coefficients, model.spread), 0.0).sum(axis=1)
    return model.log_prior[order] + of_coefficients + _log_normal(misfit, model.noise).sum(axis=1)


def order_posterior(model: Model) -> Float[np.ndarray, " n_terms"]:
    r"""Return the exact posterior of the order, equations (8) and (9).

    Parameters
    ----------
    model : Model
        Data and priors.

    Returns
    -------
    ndarray
        $\log p(k \mid y)$ for each k from 0 to K: the probabilities sum to 1, whatever the constant in `log_prior` and however
        large or small the factors $B_j$, whose logarithms may be in the thousands.

    Examples
    --------
    >>> basis = orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2)
    >>> model = Model(np.array([0.0, 1.0, 5.0]), basis, 1.0, 1.0, np.zeros(3))
    >>> print(np.exp(order_posterior(model)).round(4))
    [0.0097 0.5274 0.4628]
    """
    n = len(model.y)
    estimate = model.basis.T @ model.y / n
    strength = n * model.spread**2 / model.noise**2
    log_factor = n * (estimate / model.noise) ** 2 / 2 * strength / (1 + strength) - np.log1p(strength) / 2
    log_joint = model.log_prior + np.cumsum(log_factor)
    log_joint -= log_joint.max()
    return log_joint - np.log(np.exp(log_joint).sum())


def redraw(
    model: Model, order: Int[np.ndarray, " n_chains"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n_chains n_terms"]:
    """Draw all coefficients from what they are given the order and the data, equation (7).

    Parameters
    ----------
    model : Model
        Data and priors.
    order : ndarray
        The order of each chain, from 0 to K.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        New coefficients, a row of K + 1 entries for each chain, independent of each other; exactly 0 beyond the order.

    Raises
    ------
    ValueError
        If `order` is out of range.

    Examples
    --------
    >>> basis = orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2)
    >>> model = Model(np.array([0.0, 1.0, 5.0]), basis, 1e-6, 1.0, np.zeros(3))
    >>> print(redraw(model, np.array([2, 1]), rng=np.random.default_rng(0)).round(4))
    [[2.     2.0412 0.7071]
     [2.     2.0412 0.    ]]
    """
    # given: the check
    n_terms = len(model.log_prior)
    _check_order(order, 0, n_terms - 1)
    # yours
    n = len(model.y)
    precision = n / model.noise**2 + 1 / model.spread**2
    mean = model.basis.T @ model.y / model.noise**2 / precision
    drawn = mean + rng.standard_normal((len(order), n_terms)) / np.sqrt(precision)
    return np.where(np.arange(n_terms) <= order[:, None], drawn, 0.0)


def birth(
    model: Model,
    proposal: Proposal,
    order: Int[np.ndarray, " n_chains"],
    coefficients: Float[np.ndarray, "n_chains n_terms"],
    u: Float[np.ndarray, " n_chains"],
) -> Jump:
    """Propose one coefficient more, equation (6), with the ratio of equation (4).

    Parameters
    ----------
    model : Model
        Data and priors.
    proposal : Proposal
        The centres and scales of (6), and the constant of (5).
    order : ndarray
        The order k of each chain, from 0 to K - 1.
    coefficients : ndarray
        A row of K + 1 for each chain; 0 beyond the order. They are not changed.
    u : ndarray
        The random number of each chain, which was drawn from the standard normal law.

    Returns
    -------
    Jump
        Orders k + 1, a new array of coefficients, and log A of going up, with the probabilities of trying (5) in it. Of no
        chains, nothing: all its arrays are then empty.

    Raises
    ------
    ValueError
        If `order` is out of range.

    Examples
    --------
    >>> basis = orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2)
    >>> model = Model(np.array([0.0, 1.0, 5.0]), basis, 1.0, 1.0, np.zeros(3))
    >>> proposal = Proposal(np.array([0.0, 0.0, 0.2]), np.array([1.0, 1.0, 0.6]))
    >>> jump = birth(model, proposal, np.array([1]), np.array([[2.0, 2.0, 0.0]]), np.array([0.5]))
    >>> print(jump.order, jump.coefficients, jump.log_ratio.round(4))
    [2] [[2.  2.  0.5]] [0.1748]
    """
    # given: the check
    _check_order(order, 0, len(model.log_prior) - 2)
    # yours
    new = coefficients.copy()
    new[np.arange(len(order)), order + 1] = proposal.centre[order + 1] + proposal.scale[order + 1] * u
    up, down = move_probabilities(model.log_prior, share=proposal.share)
    target = log_posterior(model, order + 1, new) - log_posterior(model, order, coefficients)
    way_back = np.log(down[order + 1]) - np.log(up[order]) - _log_normal(u, 1.0)
    return Jump(order + 1, new, log_ratio(target, way_back, proposal.scale[order + 1][:, None, None]))


def death(
    model: Model,
    proposal: Proposal,
    order: Int[np.ndarray, " n_chains"],
    coefficients: Float[np.ndarray, "n_chains n_terms"],
) -> Jump:
    """Propose to give up the last coefficient, the exact reverse of `birth`, with the ratio of equation (4).

    Parameters
    ----------
    model : Model
        Data and priors.
    proposal : Proposal
        The centres and scales of (6), and the constant of (5).
    order : ndarray
        The order k of each chain, from 1 to K.
    coefficients : ndarray
        A row of K + 1 for each chain; 0 beyond the order. They are not changed.

    Returns
    -------
    Jump
        Orders k - 1, a new array of coefficients, and log A of going down: minus that of the birth which leads back. Of no
        chains, nothing: all its arrays are then empty.

    Raises
    ------
    ValueError
        If `order` is out of range.

    Examples
    --------
    >>> basis = orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2)
    >>> model = Model(np.array([0.0, 1.0, 5.0]), basis, 1.0, 1.0, np.zeros(3))
    >>> proposal = Proposal(np.array([0.0, 0.0, 0.2]), np.array([1.0, 1.0, 0.6]))
    >>> jump = death(model, proposal, np.array([2]), np.array([[2.0, 2.0, 0.5]]))
    >>> print(jump.order, jump.coefficients, jump.log_ratio.round(4))
    [1] [[2. 2. 0.]] [-0.1748]
    """
    # given: the check
    _check_order(order, 1, len(model.log_prior) - 1)
    # yours
    rows = np.arange(len(order))
    u = (coefficients[rows, order] - proposal.centre[order]) / proposal.scale[order]
    new = coefficients.copy()
    new[rows, order] = 0.0
    up, down = move_probabilities(model.log_prior, share=proposal.share)
    target = log_posterior(model, order - 1, new) - log_posterior(model, order, coefficients)
    way_back = np.log(up[order - 1]) - np.log(down[order]) + _log_normal(u, 1.0)
    return Jump(order - 1, new, log_ratio(target, way_back, 1 / proposal.scale[order][:, None, None]))


def sample(
    model: Model,
    proposal: Proposal,
    order: Int[np.ndarray, " n_chains"],
    n_draws: int,
    *,
    rng: np.random.Generator,
) -> Orders:
    """Run a batch of independent chains over orders and coefficients.

    Each step has two halves. First each chain tries a birth with the probability b_k, a death with the probability d_k, and
    nothing otherwise; the jump is accepted with the probability min(1, A). Then all its coefficients are drawn anew.

    Parameters
    ----------
    model : Model
        Data and priors.
    proposal : Proposal
        The centres and scales of (6), and the constant of (5).
    order : ndarray
        The orders to start from; the coefficients to start from are drawn by `redraw`. Neither is recorded, and `order` is not
        changed.
    n_draws : int
        The number of steps, in each of which the chain may have stayed.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Orders
        The orders and the coefficients after each step, and the share of steps of each chain with an accepted jump.

    Raises
    ------
    ValueError
        If `order` is out of range, or `n_draws` is below 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> basis = orthonormal_basis(np.array([-1.0, 0.0, 1.0]), 2)
    >>> model = Model(np.array([0.0, 1.0, 5.0]), basis, 1.0, 1.0, np.zeros(3))
    >>> run = sample(model, Proposal(np.zeros(3), np.ones(3)), np.full(2000, 1), 30, rng=rng)
    >>> print((np.bincount(run.order[:, -1]) / 2000).round(1))
    [0.  0.5 0.5]
    """
    # given: the checks
    _check_order(order, 0, len(model.log_prior) - 1)
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    # yours
    orders, draws = np.empty((len(order), n_draws), dtype=int), np.empty((len(order), n_draws, len(model.log_prior)))
    up, down = move_probabilities(model.log_prior, share=proposal.share)
    order, coefficients = order.copy(), redraw(model, order, rng=rng)
    n_accepted = np.zeros(len(order))
    for t in range(n_draws):
        coin = rng.random(len(order))
        born = np.flatnonzero(coin < up[order])
        dead = np.flatnonzero((coin >= up[order]) & (coin < up[order] + down[order]))
        upwards = birth(model, proposal, order[born], coefficients[born], rng.standard_normal(len(born)))
        downwards = death(model, proposal, order[dead], coefficients[dead])
        for chains, jump in ((born, upwards), (dead, downwards)):
            taken = -rng.standard_exponential(len(chains)) <= jump.log_ratio
            order[chains[taken]] = jump.order[taken]
            n_accepted[chains[taken]] += 1
        coefficients = redraw(model, order, rng=rng)
        orders[:, t], draws[:, t] = order, coefficients
    return Orders(orders, draws, n_accepted / n_draws)


def _log_normal(x: np.ndarray, scale: float) -> np.ndarray:  # given
    """The log density of a normal distribution around 0."""
    return -((x / scale) ** 2) / 2 - np.log(scale) - np.log(2 * np.pi) / 2
