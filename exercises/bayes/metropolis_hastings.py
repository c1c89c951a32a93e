r"""Metropolis-Hastings: draw from a density that is known only up to a constant.

## Idea

Wander through the space at random, but let a coin decide whether to take each step. The coin is biased in just such a
way that in the long run the walk spends its time in every region in proportion to the density there. The density need not
be normalised, and the steps may be proposed in almost any way.

## Maths

We want draws from a density $\pi(x)$. A Markov chain with the kernel $K(y \mid x)$ leaves $\pi$ invariant if the traffic
between any two places is the same in both directions, which is called *detailed balance*:

$$\pi(x)\, K(y \mid x) = \pi(y)\, K(x \mid y) \quad \text{for all } x \ne y. \tag{1}$$

Integrate (1) over $x$ to see it: the left side is what arrives at $y$, the right side is $\pi(y)$ times 1.

**The acceptance.** Propose $y$ from any density $q(y \mid x)$, move there with probability $\alpha(x, y)$, and stay
otherwise. For $y \ne x$ this chain has $K(y \mid x) = q(y \mid x)\, \alpha(x, y)$. Make both sides of (1) equal to the
smaller of $\pi(x)\, q(y \mid x)$ and $\pi(y)\, q(x \mid y)$, which is symmetric in $x$ and $y$; that gives

$$\alpha(x, y) = \min \Big\{ 1,\ \frac{\pi(y)\, q(x \mid y)}{\pi(x)\, q(y \mid x)} \Big\}. \tag{2}$$

The constant of $\pi$ cancels: we never need it. Densities in many dimensions overflow and vanish, so all is done in
logarithms:

$$\log \alpha(x, y) = \min \{ 0,\ \log \pi(y) - \log \pi(x) + c(x, y) \}, \qquad
c(x, y) = \log q(x \mid y) - \log q(y \mid x). \tag{3}$$

We call $c$ the *correction*. Where $\pi(y) = 0$, or where the way back is impossible, $q(x \mid y) = 0$, the acceptance
is 0 and its logarithm $-\infty$, whatever the other terms. Where only $\pi(x) = 0$, it is 1.

**The coin.** With $U$ uniform on $(0, 1)$, $U \le \alpha$ has probability $\alpha$. In logarithms one could compare
$\log U$, but a generator may return $U = 0$. As $-\log U$ has the exponential distribution with mean 1, draw $E$ from
that instead and

$$\text{accept if } -E \le \log \alpha. \tag{4}$$

**Three proposals.** A *random walk* $y = x + \sigma z$ with $z \sim \mathcal{N}(0, I)$ is as likely to go from $x$ to $y$
as back, so its correction vanishes:

$$c(x, y) = 0. \tag{5}$$

An *independence* proposal does not look at $x$: $q(y \mid x) = g(y)$. With $g$ normal, with mean $m$ and standard
deviations $s_i$,

$$\log g(y) = -\frac{1}{2} \sum_i \Big( \frac{y_i - m_i}{s_i} \Big)^2 + \text{const}. \tag{6}$$

A *log-normal walk* lives on positive numbers and multiplies them: $\log y_i = \log x_i + \sigma z_i$. The logarithm of
$y_i$ has a normal density, which is symmetric; but $y_i$ itself has the density of its logarithm times
$\mathrm{d} \log y_i / \mathrm{d} y_i$,

$$q(y \mid x) = \prod_i \frac{1}{y_i}\, \mathcal{N}(\log y_i;\ \log x_i, \sigma^2). \tag{7}$$

From (6) and (7) follow the corrections, by (3).

**On finitely many states** all this can be checked to the last digit. Let the probabilities be $\pi_i$ and the proposal
matrix $Q_{ij}$, from $i$ to $j$, each row summing to 1; so $q(y \mid x)$ is $Q_{ij}$ with $x = i$ and $y = j$. The chain
has the transition matrix

$$K_{ij} = Q_{ij}\, \alpha_{ij} \quad (i \ne j), \qquad K_{ii} = 1 - \sum_{j \ne i} K_{ij}. \tag{8}$$

What is never proposed, $Q_{ij} = 0$, never happens, whatever $\alpha_{ij}$. And a proposal may stay where it is,
$Q_{ii} > 0$: it is not part of the sum.

## Worked example

*Three states.* Let $\pi = (\tfrac12, \tfrac14, \tfrac14)$, and let the rows of $Q$ be $(0, \tfrac12, \tfrac12)$,
$(1, 0, 0)$ and $(\tfrac12, \tfrac12, 0)$. From 1 to 2:
$\alpha = \min\{1, (\tfrac14 \cdot 1) / (\tfrac12 \cdot \tfrac12)\} = 1$, so $K_{12} = \tfrac12$. From 1 to 3:
$\alpha = \min\{1, (\tfrac14 \cdot \tfrac12) / (\tfrac12 \cdot \tfrac12)\} = \tfrac12$, so $K_{13} = \tfrac14$. From 3 to
2: the way back has $Q_{23} = 0$, so $\alpha = 0$. In full

$$K = \begin{pmatrix} \tfrac14 & \tfrac12 & \tfrac14 \\ 1 & 0 & 0 \\ \tfrac12 & 0 & \tfrac12 \end{pmatrix}.$$

The traffic from 1 to 3 is $\tfrac12 \cdot \tfrac14 = \tfrac18$, and from 3 to 1 it is
$\tfrac14 \cdot \tfrac12 = \tfrac18$ as well.

*A log-normal walk.* Let $\pi(x) \propto x\, e^{-x}$ for $x > 0$. From $x = 1$ to $y = 2$: $\log \pi$ falls from $-1$ to
$\log 2 - 2 = -1.307$, but the correction works out as 0.693, so $\log \alpha = \min\{0, 0.386\} = 0$. The way back from 2
to 1 has $\log \alpha = -0.386$: it is taken in 68 % of the cases. (Without a correction, 1 to 2 would be taken in 74 % of
the cases, and 2 to 1 always.)

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `log_acceptance` | log densities here and there, the correction | the log of the acceptance | (3) |
| `transition_matrix` | log probabilities of states, a proposal matrix | the matrix of the chain | (8) |
| `random_walk` | positions | a `Move`: proposed positions and corrections | (5) |
| `independence` | positions | a `Move` | (6), (3) |
| `log_normal_walk` | positive positions | a `Move` | (7), (3) |
| `step` | a `State`, a proposal | the next `State`, and which chains moved | (3), (4) |
| `sample` | starting positions, a proposal | `Draws` | `step`, over and over |

All chains of a batch move at once, each with its own coin. A proposal is handed over with its settings filled in:
`partial(random_walk, scale=0.5)`.

## Pitfalls

- The histogram is too flat: what became of the rejected steps?
- Every move is rejected, or `nan` appears, where $\log \pi$ is merely large, or $-\infty$.
- All chains move at the same steps, or by the same amounts.
- With the log-normal walk the mean comes out too small, or the draws drift towards zero.
- The correction has the wrong sign: the independence sampler likes the tails.
- The rows of the transition matrix sum to 1, but too little stays on the diagonal.
- NumPy warns of invalid values although the result is right: infinities met, and `np.errstate` can say that you meant it.

## Cost

One evaluation of $\log \pi$ over the batch per step; the proposals cost $O(\text{dim})$ a chain. Memory is
$O(n_\text{chains} \cdot n_\text{draws} \cdot \text{dim})$. Successive draws are correlated: in $d$ dimensions a random
walk needs of the order of $d$ steps for one that is as good as new [3].

## Go further

Experiment: plot the acceptance rate and the autocorrelation of a random walk against `scale`, in 2 and in 50 dimensions.
[3] says where the best scale lies, and that there about 23 % of the moves are accepted. A stretch goal: a proposal that
moves one coordinate at a time.

What is not here: warm-up that tunes the scale, and diagnostics that tell whether the chains agree. Drop the first draws
yourself, those that still remember the start.

## References

1. Metropolis et al. (1953), Equation of state calculations by fast computing machines,
   https://doi.org/10.1063/1.1699114
2. Hastings (1970), Monte Carlo sampling methods using Markov chains, https://doi.org/10.1093/biomet/57.1.97
3. Roberts, Gelman & Gilks (1997), on the best scale of a random walk, https://doi.org/10.1214/aoap/1034625254
"""

# 7 parts to write. Test them with: pytest exercises/bayes/metropolis_hastings.py
# To be written without: emcee, arviz, arviz_stats

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mlpath.bayes._shared import Draws, LogDensity, evaluate


@dataclass(frozen=True)
class State:
    """Where the chains are, and the log density there, which saves evaluating it twice."""

    position: Float[np.ndarray, "n_chains dim"]
    log_density: Float[np.ndarray, " n_chains"]


@dataclass(frozen=True)
class Move:
    """Where each chain might go, and the correction c(x, y) of equation (3) for going there."""

    position: Float[np.ndarray, "n_chains dim"]
    log_correction: Float[np.ndarray, " n_chains"]


Proposal = Callable[..., Move]
"""Called as `propose(position, rng=rng)`."""


def _check_scale(scale: float | np.ndarray) -> None:  # given: argument checks
    """Refuse a scale that is not positive and finite."""
    if not (np.all(np.greater(scale, 0)) and np.all(np.isfinite(scale))):
        raise ValueError(f"scale must be positive and finite, got {scale}")


def log_acceptance(
    log_density: Float[np.ndarray, "..."],
    log_density_proposed: Float[np.ndarray, "..."],
    log_correction: Float[np.ndarray, "..."],
) -> Float[np.ndarray, "..."]:
    r"""Return the logarithm of the acceptance probability, equation (3).

    Parameters
    ----------
    log_density : ndarray
        $\log \pi(x)$ where the chains are.
    log_density_proposed : ndarray
        $\log \pi(y)$ where they might go.
    log_correction : ndarray
        $c(x, y)$; zero for a symmetric proposal. The three arrays have any shapes that broadcast. None of them holds NaN
        or +inf.

    Returns
    -------
    ndarray
        $\log \alpha(x, y)$, at most 0. It is -inf wherever the proposed log density or the correction is -inf, and
        otherwise 0 where the present log density is -inf.

    Examples
    --------
    >>> print(log_acceptance(np.array([-1.0, -1.0, -1.0]), np.array([-3.0, 5.0, -np.inf]), np.array([0.5, 0.5, 0.5])))
    [-1.5  0.  -inf]
    """
    raise NotImplementedError("not written yet: log_acceptance")


def transition_matrix(
    log_density: Float[np.ndarray, " n_states"], proposal: Float[np.ndarray, "n_states n_states"]
) -> Float[np.ndarray, "n_states n_states"]:
    r"""Return the transition matrix of the Metropolis-Hastings chain on finitely many states, equation (8).

    Parameters
    ----------
    log_density : ndarray
        $\log \pi_i$ of each state, up to a constant; -inf for a state of probability zero.
    proposal : ndarray
        $Q_{ij}$, the probability of proposing $j$ from $i$. Some may be zero, and it need not be symmetric.

    Returns
    -------
    ndarray
        $K_{ij}$, the probability of being in $j$ one step after $i$. Each row sums to 1.

    Raises
    ------
    ValueError
        If `log_density` is not a vector or holds NaN or +inf, or `proposal` has not one row and one column for each
        state, has negative entries, or has rows that do not sum to 1.

    Examples
    --------
    >>> proposal = np.array([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    >>> print(transition_matrix(np.log([0.5, 0.25, 0.25]), proposal))
    [[0.25 0.5  0.25]
     [1.   0.   0.  ]
     [0.5  0.   0.5 ]]
    """
    # given: the checks
    if log_density.ndim != 1 or not (log_density < np.inf).all():
        raise ValueError(f"log_density must be a vector without NaN and +inf, got {log_density}")
    if proposal.shape != 2 * log_density.shape:
        raise ValueError(f"proposal must have shape {2 * log_density.shape}, got {proposal.shape}")
    if not (proposal >= 0).all() or not np.allclose(proposal.sum(axis=1), 1):
        raise ValueError(
            f"proposal must have rows of probabilities that sum to 1, got rows that sum to {proposal.sum(axis=1)}"
        )
    raise NotImplementedError("not written yet: transition_matrix")


def random_walk(
    position: Float[np.ndarray, "n_chains dim"], *, scale: float | Float[np.ndarray, " dim"], rng: np.random.Generator
) -> Move:
    """Propose a normal step from where each chain is, equation (5).

    Parameters
    ----------
    position : ndarray
        Where the chains are, one a row.
    scale : float or ndarray
        Standard deviation of the step, in the units of `position`: one for all coordinates, or one for each.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Move
        The proposed positions, each coordinate of each chain moved by a number of its own, and the corrections.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> move = random_walk(np.zeros((3, 2)), scale=0.1, rng=np.random.default_rng(0))
    >>> print(move.position.shape, move.log_correction)
    (3, 2) [0. 0. 0.]
    """
    # given: the check
    _check_scale(scale)
    raise NotImplementedError("not written yet: random_walk")


def independence(
    position: Float[np.ndarray, "n_chains dim"],
    *,
    mean: Float[np.ndarray, " dim"],
    scale: float | Float[np.ndarray, " dim"],
    rng: np.random.Generator,
) -> Move:
    """Propose a draw from one normal distribution, wherever the chains are, equation (6).

    Parameters
    ----------
    position : ndarray
        Where the chains are, one a row.
    mean : ndarray
        Mean of the proposal.
    scale : float or ndarray
        Its standard deviation: one for all coordinates, or one for each.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Move
        The proposed positions, independent of each other and of `position`, and the corrections.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> move = independence(np.array([[3.0], [0.0]]), mean=np.zeros(1), scale=1.0, rng=np.random.default_rng(0))
    >>> print(move.position.round(4).tolist(), move.log_correction.round(4))
    [[0.1257], [-0.1321]] [-4.4921  0.0087]
    """
    # given: the check
    _check_scale(scale)
    raise NotImplementedError("not written yet: independence")


def log_normal_walk(
    position: Float[np.ndarray, "n_chains dim"], *, scale: float | Float[np.ndarray, " dim"], rng: np.random.Generator
) -> Move:
    """Propose to multiply each coordinate by a log-normal factor, equation (7).

    Parameters
    ----------
    position : ndarray
        Where the chains are, one a row, all coordinates positive.
    scale : float or ndarray
        Standard deviation of the logarithm of the factor: one for all coordinates, or one for each.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Move
        The proposed positions, each coordinate of each chain multiplied by a factor of its own, and the corrections.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite, or a coordinate is not positive.

    Examples
    --------
    >>> move = log_normal_walk(np.array([[2.0], [0.01]]), scale=0.5, rng=np.random.default_rng(0))
    >>> print(move.position.round(4).tolist(), move.log_correction.round(4))
    [[2.1298], [0.0094]] [ 0.0629 -0.0661]
    """
    # given: the checks
    _check_scale(scale)
    if not (position > 0).all():
        raise ValueError(f"position must be positive, got {position.min()}")
    raise NotImplementedError("not written yet: log_normal_walk")


def step(
    log_density_fn: LogDensity, state: State, *, propose: Proposal, rng: np.random.Generator
) -> tuple[State, Bool[np.ndarray, " n_chains"]]:
    """Propose a move for each chain, and take it with the probability of equation (3), by (4).

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row, up to a constant; -inf outside the support.
    state : State
        Where the chains are.
    propose : callable
        The proposal, called as `propose(state.position, rng=rng)`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    state : State
        Where the chains are next. A chain whose move is rejected stays.
    accepted : ndarray
        Whether each chain's move was accepted. Each has a coin of its own.

    Raises
    ------
    ValueError
        If `log_density_fn` returns NaN, +inf or another number of values than it was given rows. Call it through the given
        `evaluate(log_density_fn, position)`, which raises this.

    Examples
    --------
    >>> def log_density_fn(x):
    ...     return -np.abs(x).sum(axis=1)
    >>> def propose(position, *, rng):
    ...     return Move(position / 2, np.zeros(len(position)))
    >>> start = np.array([[2.0], [-8.0]])
    >>> state = State(start, log_density_fn(start))
    >>> state, accepted = step(log_density_fn, state, propose=propose, rng=np.random.default_rng(0))
    >>> print(state.position.tolist(), state.log_density, accepted)
    [[1.0], [-4.0]] [-1. -4.] [ True  True]
    """
    raise NotImplementedError("not written yet: step")


def sample(
    log_density_fn: LogDensity,
    position: Float[np.ndarray, "n_chains dim"],
    n_draws: int,
    *,
    propose: Proposal,
    rng: np.random.Generator,
) -> Draws:
    """Run a batch of independent chains, and record each of them after each step.

    Parameters
    ----------
    log_density_fn : callable
        Computes the log density of each row, up to a constant; -inf outside the support.
    position : ndarray
        Where the chains start, one a row, each with positive density. Not itself recorded.
    n_draws : int
        Number of steps, rejected ones included.
    propose : callable
        The proposal, called as `propose(position, rng=rng)`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Draws
        With three fields: `draws`, the positions after each step, of shape (n_chains, n_draws, dim); `log_density`, that of
        each of them, (n_chains, n_draws); and `acceptance_rate`, the share of accepted moves of each chain, (n_chains,).

    Raises
    ------
    ValueError
        If `position` is not a matrix of finite numbers, a start has no density, `n_draws` is below 1, or
        `log_density_fn` returns what is no log density.

    Examples
    --------
    >>> from functools import partial
    >>> result = sample(
    ...     lambda x: -(x**2).sum(axis=1) / 2,
    ...     np.zeros((200, 1)),
    ...     500,
    ...     propose=partial(random_walk, scale=2.4),
    ...     rng=np.random.default_rng(0),
    ... )
    >>> print(result.draws.shape, f"{result.draws.var():.1f} {result.acceptance_rate.mean():.1f}")
    (200, 500, 1) 1.0 0.4
    """
    # given: the checks, and the state that the chains start in
    if position.ndim != 2 or position.size == 0 or not np.isfinite(position).all():
        raise ValueError(f"position must be finite and have shape (n_chains, dim), got {position}")
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")
    state = State(position, evaluate(log_density_fn, position))
    if np.isneginf(state.log_density).any():
        raise ValueError(f"position must have positive density, got {position[np.isneginf(state.log_density)][0]}")
    raise NotImplementedError("not written yet: sample")
