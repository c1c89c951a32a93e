r"""Markov chains: where they go, how long that takes, and where they stay.

## Idea

A chain jumps from state to state, and where it goes next depends only on where it is. All about it is in one matrix.
Which states can be reached from which is a question about its zeros; where the chain is in the long run, and how often
and how long it needs to be caught, are linear systems; how soon it has forgotten its start is a question about
eigenvalues. Sampling by Markov chains, Google's ranking of pages and many models of queues and populations rest on these.

## Maths

**A chain** has the transition matrix $P$: $P_{ij} \ge 0$ is the probability of going from $i$ to $j$, and each row sums
to 1. If $\mu$, a row, is the distribution of the state now, after $t$ steps it is

$$\mu\, P^t . \tag{1}$$

**Classes.** State $j$ can be *reached* from $i$ if $(P^t)_{ij} > 0$ for some $t \ge 0$; from $i$ itself always, with
$t = 0$. Two states that reach each other are in one *communicating class*. A class is *closed* if nothing outside can be
reached from it, else it is left for ever some day, and its states are *transient*. There is at least one closed class.

The **period** of a class is the greatest common divisor of the lengths of all walks from a state back to itself, the same
for all its states. There may be infinitely many such walks; but let $\ell_i$ be the number of steps that one needs at
least from some first state of the class to $i$. Then the period is

$$\gcd\, \{\, \ell_i + 1 - \ell_j :\ P_{ij} > 0,\ i, j \text{ in the class} \,\} , \tag{2}$$

for the terms along any way back to the start add up to its length; and conversely the period divides each of them, as two
walks to $j$, directly and by $i$, can be completed by the same walk back. A state that one never comes back to has none:
the gcd of nothing, 0.

**Stationary distribution.** If there is one closed class, one distribution stays as it is,

$$\pi = \pi P , \qquad \sum_i \pi_i = 1 , \tag{3}$$

and it is zero on transient states. Linear algebra solves (3), but subtracts, and where the chain falls into parts that
hardly communicate, all digits may be lost in $1 - P_{ii}$. Grassmann, Taksar and Heyman [1] never subtract. Watch the
chain only while it is in the states $1, \dots, n - 1$. When it goes to $n$, it comes back from there to $j$ with
probability $P_{nj} / s_n$, so what one sees is a chain with

$$P_{ij} \leftarrow P_{ij} + \frac{P_{in}}{s_n} P_{nj} \quad (i, j < n), \qquad s_n = \sum_{j < n} P_{nj} . \tag{4}$$

($s_n$ is $1 - P_{nn}$, but as a sum of positive terms.) Its stationary distribution is that of the chain itself, but for
the scale. Repeat until one state is left, with $\pi_1 = 1$. Then go back: as much flows into $n$ as out of it,
$\pi_n s_n = \sum_{i<n} \pi_i P_{in}$, so

$$\pi_n = \sum_{i < n} \pi_i\, \frac{P_{in}}{s_n} , \tag{5}$$

with $P_{in}$ as it was when $n$ was eliminated; and divide by the sum at last. As nothing is subtracted, each $\pi_i$ is
right to nearly all its digits, however small. The diagonal is never looked at. (How much the $\pi_i$ depend on each
$P_{ij}$ is another matter [4].)

**Absorption.** Let $Q$ be the part of $P$ among the transient states, and $R$ with a column for each closed class: the
probability of jumping into it. The expected number of visits to $j$ from $i$ is $\sum_t (Q^t)_{ij}$, the *fundamental
matrix*

$$N = (I - Q)^{-1} . \tag{6}$$

A state that is left with a probability of $10^{-17}$ has $Q_{ii} = 1$ in the computer, and $I - Q$ no inverse. So take
for $1 - Q_{ii}$, here too, the sum of the rest of the row of $P$.

A chain that starts in $i$ ends in the classes with the probabilities, and is transient for an expected number of steps,

$$B = N R , \qquad \tau = N \mathbf{1} . \tag{7}$$

**Mixing.** Two distributions differ in *total variation*, the largest difference of the probability that they give to any
event, by

$$\|\mu - \pi\| = \tfrac12 \sum_i |\mu_i - \pi_i| . \tag{8}$$

How far is the chain from stationary after $t$ steps, at worst? The answer never rises with $t$, and the *mixing time* is
where it becomes small:

$$d(t) = \max_i \|(P^t)_{i:} - \pi\| , \qquad t_\text{mix}(\varepsilon) = \min \{ t \ge 0 : d(t) \le \varepsilon \} . \tag{9}$$

It need not be looked for step by step: $P, P^2, P^4, P^8, \dots$ cost one product each, and between two of them one can
halve.

**Reversible chains** have the same traffic in both directions, $\pi_i P_{ij} = \pi_j P_{ji}$. Then

$$\sqrt{\pi_i}\, P_{ij} / \sqrt{\pi_j} = \sqrt{P_{ij} P_{ji}} \tag{10}$$

is a symmetric matrix with the eigenvalues of $P$: they are real,
$1 = \lambda_1 \ge \lambda_2 \ge \dots \ge \lambda_n \ge -1$. What is not stationary dies like the largest of the others
in size, so the (absolute) **spectral gap**

$$\gamma = 1 - \max_{k \ge 2} |\lambda_k| \tag{11}$$

sets the pace, and for a chain without period, with the least stationary probability $\pi_\text{min}$ [2],

$$\Bigl(\frac1\gamma - 1\Bigr) \ln \frac{1}{2 \varepsilon} \le t_\text{mix}(\varepsilon) \le \frac1\gamma \ln \frac{1}{\varepsilon\, \pi_\text{min}} . \tag{12}$$

**PageRank** [3]. A surfer follows with probability $\delta$, the *damping*, one of the links of the page in proportion to
their weights, and otherwise begins anew at a page drawn from $v$. From a page without links, a *dangling* one, he begins
anew as well. With $D$ the set of dangling pages and $P$ the rows of weights divided by their sums, zero for dangling
pages,

$$x^+ = \delta \Bigl( x P + v \sum_{i \in D} x_i \Bigr) + (1 - \delta)\, v , \tag{13}$$

and the ranks are where it stays. A step brings any two distributions together by the factor $\delta$, in the 1-norm, so
after a step that has changed $x$ by $c$, the ranks are no further than

$$\|x^+ - x^\star\|_1 \le \frac{\delta}{1 - \delta}\, c . \tag{14}$$

## Worked example

- *Period*: walks $1 \to 2 \to 3 \to 1$ and $2 \to 1$. Levels $0, 1, 2$. The terms of (2) are $0, 0, 3, 2$: the period is
  1. Without $2 \to 1$ it is 3.
- *Stationary*: rows $(0.5, 0.5, 0)$, $(0.2, 0.5, 0.3)$, $(0, 0.6, 0.4)$. Eliminate 3: $s = 0.6$, the quotients are
  $(0, 0.5)$. Eliminate 2: $s = 0.2$, the quotient $0.5 / 0.2 = 2.5$. Back: $\pi \propto (1,\ 2.5,\ 0 + 2.5 \cdot 0.5)$,
  so $\pi = (0.211, 0.526, 0.263)$.
- *Gap*: the same chain is reversible. Its eigenvalues are $1$ and $0.2 \pm \sqrt{0.07}$, that is $0.465$ and $-0.065$:
  $\gamma = 0.535$. For $\varepsilon = 0.01$, (12) says $3.4 \le t_\text{mix} \le 11.5$, and it is 6.
- *Ruin*: from 1 or 2 one gains with probability $\frac13$ and loses else, until 0 or 3.
  $N = \begin{pmatrix} 9/7 & 3/7 \\ 6/7 & 9/7 \end{pmatrix}$. From 1 one ends in 3 with $\frac37 \cdot \frac13 = \frac17$,
  after $\frac{12}7$ steps.
- *PageRank* with $\delta = 0.8$, $v = (\frac12, \frac12)$: page 1 links to 2, which has no links.
  $x_1 = 0.8\, x_2 / 2 + 0.1$ gives $x = (0.357, 0.643)$.

## Plan

- `reachable` says which state can be reached from which.
- `period` returns (2) for a class.
- `communicating_classes` lists the classes, with their periods and whether they are closed.
- `stationary` returns (3), by (4) and (5).
- `absorption` returns (6) and (7).
- `mixing_time` returns (9).
- `spectral_gap` returns (11), by (10).
- `pagerank` iterates (13).

Given is `mixing_bounds`, the two sides of (12).

## Pitfalls

- Columns where rows should be: does $P_{ij}$ lead from $i$ or to $i$?
- The stationary probabilities of two weakly linked halves are off by a factor, or negative.
- Rounding: after $10^9$ steps the rows of a power sum to 1 no more, unless they are made to at each product. And the numbers
  of (5) may grow beyond all bounds before they are divided by their sum.
- A chain with a period: the powers of its matrix never come to rest, and something has to end the search.
- Ranks leak away: they sum to less than 1.
- The gap is large, and yet the chain does not mix: what about the other end of the spectrum?

## Cost

O(n³) for the stationary distribution, the fundamental matrix, the eigenvalues, and each product of powers, of which the
mixing time needs $2 \log_2 t_\text{mix}$. PageRank: O(n²) a step here, O(links) with a sparse matrix; the number of steps
is about $\ln(1/\text{tol}) / \ln(1/\delta)$.

## Go further

- *Experiment*: walk on a ring of $n$ states, left or right with probability $\frac14$ each. How do the gap and the mixing
  time grow with $n$?
- *Stretch*: the top-to-random shuffle of a few cards: its mixing time is near $n \ln n$, and $d(t)$ falls at once, not
  gradually.

## References

1. Grassmann, Taksar & Heyman (1985), Regenerative analysis and steady state distributions for Markov chains,
   https://doi.org/10.1287/opre.33.5.1107
2. Levin, Peres & Wilmer (2009), Markov Chains and Mixing Times, American Mathematical Society, chapters 4 and 12
3. Brin & Page (1998), The anatomy of a large-scale hypertextual web search engine,
   https://doi.org/10.1016/S0169-7552(98)00110-X
4. Thiede, Van Koten & Weare (2015), Sharp entrywise perturbation bounds for Markov chains,
   https://doi.org/10.1137/140987900
"""

# 8 parts to write. Test them with: pytest exercises/stats/markov_chains.py
# To be written without: networkx, scipy

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

Matrix = Float[np.ndarray, "n_states n_states"]


@dataclass(frozen=True)
class CommunicatingClass:
    """States that reach each other.

    Attributes
    ----------
    states : tuple of int
        They, in increasing order.
    closed : bool
        Whether the chain cannot leave them.
    period : int
        Their period; 0 for a state that one never comes back to.
    """

    states: tuple[int, ...]
    closed: bool
    period: int


@dataclass(frozen=True)
class Absorption:
    """What becomes of a chain that starts in a transient state.

    Attributes
    ----------
    states : tuple of int
        The transient states, in increasing order: one for each row of what follows.
    visits : ndarray of shape (n_transient, n_transient)
        The fundamental matrix: how often each transient state is visited, the start included.
    probabilities : ndarray of shape (n_transient, n_closed)
        The probabilities of ending in each closed class, in the order of `communicating_classes`.
    steps : ndarray of shape (n_transient,)
        How many steps it takes on average to be in a closed class.
    """

    states: tuple[int, ...]
    visits: np.ndarray
    probabilities: np.ndarray
    steps: np.ndarray


@dataclass(frozen=True)
class PageRank:
    """Ranks of pages.

    Attributes
    ----------
    ranks : ndarray
        They, which sum to 1.
    nit : int
        Number of steps made.
    success : bool
        Whether the last step has changed them by no more than was asked for.
    """

    ranks: Float[np.ndarray, " n_pages"]
    nit: int
    success: bool


def reachable(matrix: Float[np.ndarray, "n_states n_states"]) -> Bool[np.ndarray, "n_states n_states"]:
    """Say which state can be reached from which, in any number of steps.

    Parameters
    ----------
    matrix : ndarray
        The transition matrix. A way exists wherever an entry is positive, however small. It is not changed.

    Returns
    -------
    ndarray
        True in row i and column j if j can be reached from i. Each state can be reached from itself, in no steps.

    Raises
    ------
    ValueError
        If `matrix` is not a square matrix of probabilities whose rows sum to 1.

    Examples
    --------
    >>> reachable(np.array([[0.0, 1.0, 0.0], [0.0, 0.5, 0.5], [0.0, 1.0, 0.0]])).astype(int)
    array([[1, 1, 1],
           [0, 1, 1],
           [0, 1, 1]])
    """
    # given: the check
    _check_matrix(matrix)
    raise NotImplementedError("not written yet: reachable")


def period(matrix: Float[np.ndarray, "n_states n_states"], states: Sequence[int]) -> int:
    """Return the period of a communicating class: equation (2).

    Parameters
    ----------
    matrix : ndarray
        The transition matrix. It is not changed.
    states : sequence of int
        All states of one communicating class, in any order. What leads out of it does not count.

    Returns
    -------
    int
        The period; 0 for a single state that one never comes back to.

    Examples
    --------
    >>> matrix = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.0, 0.5]])
    >>> period(matrix, [0, 1, 2]), period(np.array([[0.0, 1.0], [0.0, 1.0]]), [0])
    (1, 0)
    """
    raise NotImplementedError("not written yet: period")


def communicating_classes(matrix: Float[np.ndarray, "n_states n_states"]) -> list[CommunicatingClass]:
    """List the communicating classes of a chain.

    Parameters
    ----------
    matrix : ndarray
        The transition matrix. It is not changed.

    Returns
    -------
    list of CommunicatingClass
        Each state is in one of them. They are in the order of their first, least states.

    Raises
    ------
    ValueError
        If `matrix` is not a square matrix of probabilities whose rows sum to 1.

    Examples
    --------
    >>> for each in communicating_classes(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])):
    ...     print(each)
    CommunicatingClass(states=(0,), closed=False, period=0)
    CommunicatingClass(states=(1, 2), closed=True, period=2)
    """
    raise NotImplementedError("not written yet: communicating_classes")


def stationary(matrix: Float[np.ndarray, "n_states n_states"]) -> Float[np.ndarray, " n_states"]:
    """Return the stationary distribution of a chain with one closed class: equation (3), by (4) and (5).

    Parameters
    ----------
    matrix : ndarray
        The transition matrix. It is not changed, and its diagonal is not relied on: the other entries determine it.

    Returns
    -------
    ndarray
        The probabilities, zero on transient states. Each of them, however small, is right to some twelve digits.

    Raises
    ------
    ValueError
        If `matrix` is not a square matrix of probabilities whose rows sum to 1, or the chain has several closed classes, so that
        there are many stationary distributions.

    Examples
    --------
    >>> stationary(np.array([[0.5, 0.5, 0.0], [0.2, 0.5, 0.3], [0.0, 0.6, 0.4]])).round(4)
    array([0.2105, 0.5263, 0.2632])
    """
    # given: the only closed class
    states = _only_closed_class(matrix)
    raise NotImplementedError("not written yet: stationary")


def absorption(matrix: Float[np.ndarray, "n_states n_states"]) -> Absorption:
    """Return where, and how soon, a chain ends that starts in a transient state: equations (6) and (7).

    Parameters
    ----------
    matrix : ndarray
        The transition matrix. It is not changed.

    Returns
    -------
    Absorption
        With the transient states, which are all that are in no closed class; the fundamental matrix; the probabilities, with
        a column for each closed class; and the expected steps; also of states that are hardly ever left. Without transient
        states its arrays have no rows.

    Raises
    ------
    ValueError
        If `matrix` is not a square matrix of probabilities whose rows sum to 1.

    Examples
    --------
    >>> ruin = np.array([[1.0, 0, 0, 0], [2 / 3, 0, 1 / 3, 0], [0, 2 / 3, 0, 1 / 3], [0, 0, 0, 1.0]])
    >>> found = absorption(ruin)
    >>> found.states, found.steps.round(4)
    ((1, 2), array([1.7143, 2.1429]))
    >>> found.probabilities.round(4)
    array([[0.8571, 0.1429],
           [0.5714, 0.4286]])
    """
    raise NotImplementedError("not written yet: absorption")


def mixing_time(
    matrix: Float[np.ndarray, "n_states n_states"], epsilon: float = 0.25, *, max_steps: int = 10**9
) -> int | None:
    r"""Return the mixing time: equation (9), with the distance (8).

    Parameters
    ----------
    matrix : ndarray
        The transition matrix of a chain with one closed class. It is not changed.
    epsilon : float
        How near the chain must be to its stationary distribution, whatever state it starts in: $10^{-6}$ or more, and below 1.
    max_steps : int
        Beyond these one does not look. At least 1.

    Returns
    -------
    int or None
        The least number of steps, which may be 0; None if `max_steps` steps do not suffice, as where the chain has a period.
        A billion steps take no longer than some dozens of matrix products.

    Raises
    ------
    ValueError
        If `matrix` is not a square matrix of probabilities whose rows sum to 1 or has several closed classes, `epsilon` is not between
        $10^{-6}$ and 1, or `max_steps` is below 1.

    Examples
    --------
    >>> matrix = np.array([[0.5, 0.5, 0.0], [0.2, 0.5, 0.3], [0.0, 0.6, 0.4]])
    >>> mixing_time(matrix), mixing_time(matrix, 0.01), mixing_time(np.array([[0.0, 1.0], [1.0, 0.0]]))
    (2, 6, None)
    """
    # given: the checks
    goal = stationary(matrix)
    if not 1e-6 <= epsilon < 1:
        raise ValueError(f"epsilon must be between 1e-6 and 1, got {epsilon}")
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}")

    raise NotImplementedError("not written yet: mixing_time")


def spectral_gap(matrix: Float[np.ndarray, "n_states n_states"]) -> float:
    """Return the absolute spectral gap of a reversible chain: equation (11), by (10).

    Parameters
    ----------
    matrix : ndarray
        The transition matrix of a chain whose states are all in one class. It is not changed.

    Returns
    -------
    float
        The gap, between 0 and 1: 0 for a chain with a period, but for rounding, and 1 for a single state.

    Raises
    ------
    ValueError
        If `matrix` is not a square matrix of probabilities whose rows sum to 1, has transient states or several closed classes, or
        is not reversible.

    Examples
    --------
    >>> print(f"{spectral_gap(np.array([[0.5, 0.5, 0.0], [0.2, 0.5, 0.3], [0.0, 0.6, 0.4]])):.4f}")
    0.5354
    """
    # given: the checks
    _check_reversible(matrix)
    raise NotImplementedError("not written yet: spectral_gap")


def mixing_bounds(
    matrix: Float[np.ndarray, "n_states n_states"], epsilon: float = 0.25
) -> tuple[float, float]:  # given
    """Return the two bounds (12) of the mixing time of a reversible chain.

    Parameters
    ----------
    matrix : ndarray
        The transition matrix of a reversible chain without a period, whose states are all in one class.
    epsilon : float
        As for `mixing_time`.

    Returns
    -------
    tuple of float
        The lower and the upper bound.

    Examples
    --------
    >>> matrix = np.array([[0.5, 0.5, 0.0], [0.2, 0.5, 0.3], [0.0, 0.6, 0.4]])
    >>> print("{:.1f} to {:.1f} steps".format(*mixing_bounds(matrix, 0.01)))
    3.4 to 11.5 steps
    """
    slowness = 1 / spectral_gap(matrix)
    return (slowness - 1) * float(np.log(1 / (2 * epsilon))), slowness * float(
        np.log(1 / (epsilon * stationary(matrix).min()))
    )


def pagerank(
    links: Float[np.ndarray, "n_pages n_pages"],
    *,
    damping: float = 0.85,
    restart: Float[np.ndarray, " n_pages"] | None = None,
    tol: float = 1e-10,
    max_iter: int = 1000,
) -> PageRank:
    r"""Rank pages by their links, with steps of equation (13).

    Parameters
    ----------
    links : ndarray
        The weight of the link from page i to page j in row i and column j, 0 where there is none. It is not changed.
    damping : float
        The probability $\delta$ of following a link, at least 0 and below 1.
    restart : ndarray, optional
        Weights of the pages at which to begin anew: $v$, but for the sum. Equal ones by default. It is not changed.
    tol : float
        It stops after the first step that changes the ranks by no more than this, in the 1-norm.
    max_iter : int
        The largest number of steps. At least 1.

    Returns
    -------
    PageRank
        The ranks after the last step, the number of steps, of which there is at least one, and whether it stopped by `tol`. The
        first step begins at $v$.

    Raises
    ------
    ValueError
        If `links` is not a square matrix of finite numbers that are not negative, `restart` is not a vector of such, one a page, with
        a positive sum, `damping` is not in [0, 1), `tol` is negative, or `max_iter` is below 1.

    Examples
    --------
    >>> pagerank(np.array([[0.0, 1.0], [0.0, 0.0]]), damping=0.8).ranks.round(4)
    array([0.3571, 0.6429])
    """
    # given: the checks, and what the surfer begins with
    _check_pages(links, restart, damping, tol, max_iter)
    v = np.ones(len(links)) if restart is None else restart
    raise NotImplementedError("not written yet: pagerank")


def _check_matrix(matrix: np.ndarray) -> None:  # given
    """Refuse what is no transition matrix."""
    if matrix.ndim != 2 or not matrix.size or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"matrix must be square, got shape {matrix.shape}")
    if not (matrix >= 0).all():
        raise ValueError(f"matrix must not be negative or NaN, got {matrix.min()}")
    if not abs(matrix.sum(axis=1) - 1).max() <= 1e-9:
        raise ValueError(f"matrix must have rows of probabilities that sum to 1, got sums {matrix.sum(axis=1)}")


def _only_closed_class(matrix: np.ndarray) -> tuple[int, ...]:  # given
    """Return the states of the only closed class, or refuse the matrix."""
    closed = [each.states for each in communicating_classes(matrix) if each.closed]
    if len(closed) > 1:
        raise ValueError(f"matrix must have one closed class, got {len(closed)}")
    return closed[0]


def _check_reversible(matrix: np.ndarray) -> None:  # given
    """Refuse a chain that is not reversible or has several classes."""
    if len(communicating_classes(matrix)) > 1:
        raise ValueError(f"matrix must have one communicating class, got {len(communicating_classes(matrix))}")
    traffic = stationary(matrix)[:, None] * matrix
    if not np.allclose(traffic, traffic.T, rtol=1e-8, atol=0.0):
        raise ValueError(f"matrix must be reversible, got traffic that differs by {abs(traffic - traffic.T).max()}")


def _check_pages(  # given
    links: np.ndarray, restart: np.ndarray | None, damping: float, tol: float, max_iter: int
) -> None:
    """Refuse what no surfer can work with."""
    if links.ndim != 2 or not links.size or links.shape[0] != links.shape[1]:
        raise ValueError(f"links must be square, got shape {links.shape}")
    if not (np.isfinite(links) & (links >= 0)).all():
        raise ValueError(f"links must be finite and not negative, got {links}")
    if restart is not None and restart.shape != links.shape[:1]:
        raise ValueError(f"restart must have shape {links.shape[:1]}, got {restart.shape}")
    if restart is not None and not ((np.isfinite(restart) & (restart >= 0)).all() and restart.sum() > 0):
        raise ValueError(f"restart must be finite, not negative and not all zero, got {restart}")
    if not 0 <= damping < 1:
        raise ValueError(f"damping must be in [0, 1), got {damping}")
    if not tol >= 0:
        raise ValueError(f"tol must not be negative, got {tol}")
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
