r"""Online learning: Hedge, online gradient descent, their regret, and AdaBoost.

## Idea

Decide, see what it cost, decide again, and assume nothing about what comes: not even that the costs are drawn from some
law. An adversary may choose them who knows the method. What can then be promised is small *regret*: in the long run one
does nearly as well as the best fixed decision in hindsight. Two methods do this: *Hedge* spreads its stake over experts
and takes from those who lose; *online gradient descent* makes a gradient step on each cost as it comes. Turned round,
Hedge is AdaBoost: the examples are the experts, and those that all rules get right lose their weight.

## Maths

**Hedge.** In round $t$ we put weights $p_t$, which are not negative and sum to 1, on $N$ experts; then their losses
$\ell_{t,i} \in [0, 1]$ are told, and ours is $p_t^\top \ell_t$. The *regret* is what we lose more than the best expert:

$$R_T = \sum_{t=1}^T p_t^\top \ell_t - \min_i L_{T,i} , \qquad L_{T,i} = \sum_{t=1}^T \ell_{t,i} . \tag{1}$$

Weigh each expert by its past, with a step size $\eta_t \ge 0$:

$$p_{t,i} \propto \exp(- \eta_t L_{t-1,i}) , \qquad \sum_i p_{t,i} = 1 . \tag{2}$$

*The bound.* Let $\Phi_\eta(L) = -\frac1\eta \ln \frac1N \sum_i e^{-\eta L_i}$, a soft minimum. By (2),
$\Phi_{\eta_t}(L_t) - \Phi_{\eta_t}(L_{t-1}) = -\frac{1}{\eta_t} \ln \sum_i p_{t,i}\, e^{-\eta_t \ell_{t,i}}$, and by
Hoeffding's lemma a number $X \in [0, 1]$ has $\ln \mathbb{E}\, e^{-\eta X} \le - \eta\, \mathbb{E} X + \eta^2 / 8$. So

$$p_t^\top \ell_t \le \Phi_{\eta_t}(L_t) - \Phi_{\eta_t}(L_{t-1}) + \frac{\eta_t}{8} . \tag{3}$$

As $\eta$ falls, $\Phi_\eta$ rises, from the minimum to the mean. So if the steps do not grow,
$\Phi_{\eta_t}(L_t) \le \Phi_{\eta_{t+1}}(L_t)$, and the sum of (3) telescopes, from $\Phi(0) = 0$ to
$\Phi_{\eta_T}(L_T) \le \min_i L_{T,i} + \frac{\ln N}{\eta_T}$ (keep one term of the sum):

$$R_T \le \frac{\ln N}{\eta_T} + \frac18 \sum_{t=1}^T \eta_t . \tag{4}$$

If $T$ is known, one step size for all rounds makes this least:

$$\eta = \sqrt{\frac{8 \ln N}{T}} \quad \Rightarrow \quad R_T \le \sqrt{\tfrac12 T \ln N} . \tag{5}$$

If it is not, take steps that suit any time: with $\sum_{t=1}^T t^{-1/2} \le 2 \sqrt T$,

$$\eta_t = 2 \sqrt{\frac{\ln N}{t}} \quad \Rightarrow \quad R_T \le \sqrt{T \ln N} \ \text{ for every } T. \tag{6}$$

No method has a better rate: against coin tosses whatever one plays loses $T/2$ on average, and the best of two opposite
experts less, by about $\sqrt{T / (2 \pi)}$.

**Online gradient descent.** Play a point $x_t$ of a convex set, then see the gradient $g_t$ of a convex loss $f_t$ at
$x_t$. With $P$ the projection onto the set,

$$x_{t+1} = P(x_t - \eta_t\, g_t) . \tag{7}$$

The projection brings $x_{t+1}$ no further from any point $u$ of the set, so

$$\|x_{t+1} - u\|^2 \le \|x_t - u\|^2 - 2 \eta_t\, g_t^\top (x_t - u) + \eta_t^2 \|g_t\|^2 , \tag{8}$$

and $f_t(x_t) - f_t(u) \le g_t^\top (x_t - u)$. Let no two points of the set be further apart than $D$, and no gradient
longer than $G$. Solve (8) for $g_t^\top (x_t - u)$, sum over $t$, and collect the terms in $\|x_t - u\|^2 \le D^2$:
$R_T \le \frac{D^2}{2 \eta_T} + \frac{G^2}{2} \sum_t \eta_t$. So

$$\eta_t = \frac{D}{G \sqrt t} \quad \Rightarrow \quad R_T \le \tfrac32 D\, G \sqrt T . \tag{9}$$

If each $f_t$ is curved, $f_t(x_t) - f_t(u) \le g_t^\top (x_t - u) - \frac\mu2 \|x_t - u\|^2$ with $\mu > 0$, the same sum
has the coefficients $\frac1{\eta_t} - \frac1{\eta_{t-1}} - \mu$, which steps as $1/t$ make vanish:

$$\eta_t = \frac{1}{\mu t} \quad \Rightarrow \quad R_T \le \frac{G^2}{2 \mu} (1 + \ln T) . \tag{10}$$

*From online to batch.* Let the $f_t$ be drawn independently, with mean $f$. As $x_t$ depends on the past only,
$\mathbb{E} f(x_t) = \mathbb{E} f_t(x_t)$, and for the mean $\bar x$ of the points played, by convexity,

$$\mathbb{E} f(\bar x) - f(u) \le \frac{\mathbb{E} R_T}{T} . \tag{11}$$

**AdaBoost.** Given are examples with labels $y_i = \pm 1$, and a weak learner which for any weights on them finds a rule
$h$ with values $\pm 1$. Its weighted error and its *edge* over tossing a coin are

$$\varepsilon_t = \sum_{i:\, h_t(x_i) \ne y_i} p_{t,i} , \qquad \gamma_t = \tfrac12 - \varepsilon_t . \tag{12}$$

Let Hedge choose the weights, with the examples for experts: an example loses where the rule is right. With $\alpha_t$ for
the step of round $t$,

$$p_{t,i} \propto e^{-m_{t-1,i}} , \qquad m_{t,i} = \sum_{s \le t} \alpha_s\, y_i\, h_s(x_i) . \tag{13}$$

The sum of the $e^{-m_{t,i}}$ is that of round $t - 1$ times
$Z_t = (1 - \varepsilon_t)\, e^{-\alpha_t} + \varepsilon_t\, e^{\alpha_t}$: each rule's *vote* $\alpha_t$ is chosen to
make this least,

$$\alpha_t = \tfrac12 \ln \frac{1 - \varepsilon_t}{\varepsilon_t} , \qquad Z_t = 2 \sqrt{\varepsilon_t (1 - \varepsilon_t)} = \sqrt{1 - 4 \gamma_t^2} . \tag{14}$$

The rules vote: the sign of $\sum_t \alpha_t h_t(x)$ is the prediction. It is wrong where $m_{T,i} \le 0$, and there
$e^{-m} \ge 1$, so

$$\text{share of training errors} \le \frac1n \sum_i e^{-m_{T,i}} = \prod_t Z_t \le \exp\Bigl(-2 \sum_t \gamma_t^2\Bigr) . \tag{15}$$

How sure the vote is, is told by the *margin*, between $-1$ and 1:

$$\frac{y_i \sum_t \alpha_t h_t(x_i)}{\sum_t \alpha_t} . \tag{16}$$

It goes on growing after the last training error is gone, which is why boosting seldom overfits as early as one would fear.

## Worked example

- *Hedge*, three experts, $\eta = \ln 4$. Round 1: weights of $\frac13$, losses $(1, 0, 0.5)$, so ours is $0.5$. Factors
  $(\frac14, 1, \frac12)$ make the weights $(\frac17, \frac47, \frac27)$. Round 2: losses $(0, 1, 0)$, ours $0.571$.
  Totals $(1, 1, 0.5)$: the regret is $1.071 - 0.5 = 0.571$. (5) with $T = 2$ would take $\eta = 2.096$ and promise
  $1.048$.
- *Gradient descent* on $|x - z_t|$ over $[-1, 1]$: $D = 2$, $G = 1$. From 0, with $z_1 = 1$: the gradient is $-1$, the
  step $2$, so $x_2 = P(2) = 1$. With $z_2 = -1$: the gradient is 1, the step $1.414$, $x_3 = -0.414$. Losses so far
  $1 + 2$; any fixed point loses 2. The regret, 1, is below $4.243$.
- *AdaBoost*: $x = 1, \dots, 5$ with labels $(+, +, -, -, +)$. The rule '+ up to 2' is wrong at 5 only:
  $\varepsilon = 0.2$, $\alpha = 0.693$. Weights: $(1, 1, 1, 1, 4) / 8$. The rule '+ above 4' is wrong at 1 and 2:
  $\varepsilon = 0.25$, $\alpha = 0.549$. $Z_1 Z_2 = 0.8 \cdot 0.866 = 0.693$; the vote is wrong at 5, a share of $0.2$.
  Its margin is $-0.116$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `hedge_weights` | total losses, a step size | weights | (2) |
| `hedge_step_sizes` | how many rounds and experts | the step size of each round | (5), (6) |
| `hedge` | the losses of all rounds, step sizes | the weights of each round | (2) |
| `regret` | the losses, the weights | the regret after each round | (1) |
| `descent_step_sizes` | $D$, $G$, $\mu$ | the step size of each round | (9), (10) |
| `online_gradient_descent` | a function that tells gradients | the points played | (7) |
| `adaboost` | examples, a weak learner | rules and their votes | (12) to (14) |
| `margins` | rules and votes, examples | their margins | (16) |

Given are `Boosted`, the rules with their votes; `Stump`, a rule that looks at one feature; and `best_stump`, which finds
the one of least weighted error.

## Pitfalls

- The regret is negative, and too good: who has seen a round's losses before the weights were chosen?
- After some thousand rounds all weights are NaN, or zero.
- The regret grows in proportion to the rounds: a leader changes each time, and all is staked on it.
- The bound is broken, with losses that exceed 1, or steps that grow.
- Averages are taken of points that were not played.
- Boosting goes on, and each round finds the same rule again.

## Cost

Hedge: O(n_experts) a round; gradient descent: a gradient and a projection. AdaBoost: a weak learner a round, here a sort
of each feature, O(n_samples · n_features · log n_samples).

## Go further

- *Experiment*: let the best expert change half-way. How long does Hedge need to notice? Mix a little of the uniform
  weights in after each round, and look again.
- *Stretch*: show that (7) on the simplex, with the entropy in the place of the squared distance, is Hedge.

What is not here: bandits, where only the loss of what one plays is told.

## References

1. Freund & Schapire (1997), A decision-theoretic generalization of on-line learning and an application to boosting,
   https://doi.org/10.1006/jcss.1997.1504
2. Cesa-Bianchi & Lugosi (2006), Prediction, Learning, and Games, chapter 2, https://doi.org/10.1017/CBO9780511546921
3. Hazan (2016), Introduction to online convex optimization, https://arxiv.org/abs/1909.05207
4. Schapire, Freund, Bartlett & Lee (1998), Boosting the margin, https://doi.org/10.1214/aos/1024691352
"""

# 8 parts to write. Test them with: pytest exercises/optim/online_learning.py
# To be written without: sklearn

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.optim._shared import Vector
from mlpath.optim.projected_gradient.projections import Projection

Rule = Callable[[Float[np.ndarray, "n_samples n_features"]], Float[np.ndarray, " n_samples"]]
"""Predicts 1.0 or -1.0 for each row."""

WeakLearner = Callable[..., Rule]
"""Called as `weak_learner(features, labels, weights)`."""

NO_EDGE = 1e-12
"""An edge that is not above this is rounding, and none."""


@dataclass(frozen=True)
class Boosted:
    """Rules that vote.

    Attributes
    ----------
    rules : tuple of callable
        The rules, in the order in which they were found; each predicts 1 or -1 for each row of features.
    votes : ndarray
        How much each of them counts, positive.
    edges : ndarray
        The edge of each, under the weights for which it was found.
    """

    rules: tuple[Rule, ...]
    votes: Float[np.ndarray, " n_rules"]
    edges: Float[np.ndarray, " n_rules"]


@dataclass(frozen=True)
class Stump:  # given: a rule that looks at one feature
    """Predict `sign` where a feature exceeds the threshold, and minus `sign` where it does not.

    Examples
    --------
    >>> Stump(feature=0, threshold=2.5, sign=-1.0)(np.array([[2.0], [3.0]]))
    array([ 1., -1.])
    """

    feature: int
    threshold: float
    sign: float

    def __call__(self, features: Float[np.ndarray, "n_samples n_features"]) -> Float[np.ndarray, " n_samples"]:
        """Return the predictions."""
        return np.where(features[:, self.feature] > self.threshold, self.sign, -self.sign)


def hedge_weights(
    totals: Float[np.ndarray, "*rounds n_experts"], step_size: float | Float[np.ndarray, "*rounds"]
) -> Float[np.ndarray, "*rounds n_experts"]:
    """Return Hedge's weights for experts who have lost so much, by equation (2).

    Parameters
    ----------
    totals : ndarray
        What each expert has lost so far, along the last axis; one round, or many. The numbers are finite and may be of any
        size and sign. It is not changed.
    step_size : float or ndarray
        The step size, 0 or more: one for all, or one for each round, of the shape of `totals` without its last axis.

    Returns
    -------
    ndarray
        The weights, of the shape of `totals`: along the last axis they sum to 1. A step size of 0 makes them equal.

    Examples
    --------
    >>> hedge_weights(np.array([1.0, 0.0, 0.5]), np.log(4)).round(4)
    array([0.1429, 0.5714, 0.2857])
    """
    raise NotImplementedError("not written yet: hedge_weights")


def hedge_step_sizes(n_rounds: int, n_experts: int, *, anytime: bool) -> Float[np.ndarray, " n_rounds"]:
    """Return the step size of each round: that of equation (5), or those of (6).

    Parameters
    ----------
    n_rounds : int
        How many rounds there will be. At least 1.
    n_experts : int
        How many experts there are. At least 1; a single one has step sizes of 0.
    anytime : bool
        Whether the number of rounds is not to be relied on: the steps of (6), which fall. Otherwise that of (5), the same
        in all rounds.

    Returns
    -------
    ndarray
        The step sizes, the first round's first.

    Examples
    --------
    >>> hedge_step_sizes(4, 3, anytime=False).round(3), hedge_step_sizes(4, 3, anytime=True).round(3)
    (array([1.482, 1.482, 1.482, 1.482]), array([2.096, 1.482, 1.21 , 1.048]))
    """
    raise NotImplementedError("not written yet: hedge_step_sizes")


def hedge(
    losses: Float[np.ndarray, "n_rounds n_experts"], step_sizes: float | Float[np.ndarray, " n_rounds"]
) -> Float[np.ndarray, "n_rounds n_experts"]:
    """Play Hedge against a sequence of losses, and return the weights of each round: equation (2).

    Parameters
    ----------
    losses : ndarray
        What each expert loses in each round, one round a row. It is not changed.
    step_sizes : float or ndarray
        The step size: one for all rounds, or one for each.

    Returns
    -------
    ndarray
        The weights with which each round is played, one round a row. They depend on the losses of earlier rounds alone.

    Raises
    ------
    ValueError
        If `losses` is not a matrix of finite numbers with at least one entry, or `step_sizes` are not finite, negative, or
        neither one nor one a round.

    Examples
    --------
    >>> hedge(np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]), np.log(4)).round(4)
    array([[0.3333, 0.3333, 0.3333],
           [0.1429, 0.5714, 0.2857]])
    """
    # given: the checks
    if losses.ndim != 2 or not losses.size or not np.isfinite(losses).all():
        raise ValueError(f"losses must be finite and have shape (n_rounds, n_experts), got {losses}")
    if np.shape(step_sizes) not in ((), losses.shape[:1]):
        raise ValueError(f"step_sizes must be one number or have shape {losses.shape[:1]}, got {np.shape(step_sizes)}")
    if not (np.greater_equal(step_sizes, 0) & np.isfinite(step_sizes)).all():
        raise ValueError(f"step_sizes must be finite and not negative, got {step_sizes}")
    raise NotImplementedError("not written yet: hedge")


def regret(
    losses: Float[np.ndarray, "n_rounds n_experts"], weights: Float[np.ndarray, "n_rounds n_experts"]
) -> Float[np.ndarray, " n_rounds"]:
    """Return the regret after each round, as if it had been the last: equation (1).

    Parameters
    ----------
    losses : ndarray
        What each expert loses in each round, one round a row.
    weights : ndarray
        The weights with which each round was played.

    Returns
    -------
    ndarray
        The regret against the expert who was best up to and including that round, who may be another in each round.

    Examples
    --------
    >>> losses = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]])
    >>> regret(losses, hedge(losses, np.log(4))).round(4)
    array([0.5   , 0.5714])
    """
    raise NotImplementedError("not written yet: regret")


def descent_step_sizes(
    n_rounds: int, *, diameter: float, gradient_bound: float, curvature: float = 0.0
) -> Float[np.ndarray, " n_rounds"]:
    r"""Return the step sizes of online gradient descent: those of equation (9), or of (10).

    Parameters
    ----------
    n_rounds : int
        How many.
    diameter : float
        The $D$ of (9): how far apart two points of the set are at most. Positive.
    gradient_bound : float
        The $G$ of (9): how long a gradient is at most. Positive.
    curvature : float
        The $\mu$ of (10), by which each loss is curved at least. If it is positive, the steps are those of (10), which need
        nothing else; if it is 0, those of (9).

    Returns
    -------
    ndarray
        The step sizes, the first round's first.

    Examples
    --------
    >>> descent_step_sizes(4, diameter=3.0, gradient_bound=2.0).round(3)
    array([1.5  , 1.061, 0.866, 0.75 ])
    >>> descent_step_sizes(4, diameter=3.0, gradient_bound=2.0, curvature=0.5).round(3)
    array([2.   , 1.   , 0.667, 0.5  ])
    """
    raise NotImplementedError("not written yet: descent_step_sizes")


def online_gradient_descent(
    gradient: Callable[[int, Vector], Vector],
    start: Float[np.ndarray, " dim"],
    step_sizes: Float[np.ndarray, " n_rounds"],
    project: Projection,
) -> Float[np.ndarray, "n_rounds dim"]:
    """Play online gradient descent, and return the points played: equation (7).

    Parameters
    ----------
    gradient : callable
        Called as `gradient(t, x)` with the number of the round, from 0, and the point played in it; returns the gradient
        there of that round's loss. Asked once a round, in their order; in the last round it may or may not be asked.
    start : ndarray
        The point that is played first, which lies in the set. It is not changed.
    step_sizes : ndarray
        One for each round.
    project : callable
        The projection onto the set.

    Returns
    -------
    ndarray
        The points, one a row; the first row is the start.

    Raises
    ------
    ValueError
        If `start` is not a vector of finite numbers with at least one entry, or `step_sizes` is not a vector of finite numbers
        that are not negative.

    Examples
    --------
    >>> targets = [1.0, -1.0, -1.0]
    >>> steps = descent_step_sizes(3, diameter=2.0, gradient_bound=1.0)
    >>> online_gradient_descent(
    ...     lambda t, x: np.sign(x - targets[t]), np.zeros(1), steps, lambda x: x.clip(-1, 1)
    ... ).round(3)
    array([[ 0.   ],
           [ 1.   ],
           [-0.414]])
    """
    # given: the checks
    if start.ndim != 1 or not start.size or not np.isfinite(start).all():
        raise ValueError(f"start must be a vector of finite numbers, got {start}")
    if step_sizes.ndim != 1 or not (np.greater_equal(step_sizes, 0) & np.isfinite(step_sizes)).all():
        raise ValueError(f"step_sizes must be a vector of finite numbers that are not negative, got {step_sizes}")
    raise NotImplementedError("not written yet: online_gradient_descent")


def best_stump(  # given
    features: Float[np.ndarray, "n_samples n_features"],
    labels: Float[np.ndarray, " n_samples"],
    weights: Float[np.ndarray, " n_samples"],
) -> Stump:
    """Return the stump of least weighted error, for weights that sum to 1.

    Parameters
    ----------
    features : ndarray
        The examples, one a row.
    labels : ndarray
        1.0 or -1.0 for each of them.
    weights : ndarray
        How much each of them counts.

    Returns
    -------
    Stump
        Its threshold lies half-way between two values of the feature, or at the largest value, where it predicts the same
        for all.

    Examples
    --------
    >>> x, y = np.arange(1.0, 6.0)[:, None], np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    >>> best_stump(x, y, np.full(5, 0.2))
    Stump(feature=0, threshold=2.5, sign=-1.0)
    """
    order = np.argsort(features, axis=0)
    columns = np.take_along_axis(features, order, axis=0)
    below = np.cumsum((weights * labels)[order], axis=0)
    gain = below[-1] - 2 * below  # right less wrong, for +1 above the row's value and -1 up to it
    gain[:-1][columns[1:] == columns[:-1]] = 0.0
    row, feature = np.unravel_index(np.argmax(abs(gain)), gain.shape)
    here = columns[row, feature]
    following = columns[min(row + 1, len(columns) - 1), feature]
    middle = here + (following - here) / 2
    threshold = middle if middle < following else here
    return Stump(int(feature), float(threshold), 1.0 if gain[row, feature] > 0 else -1.0)


def adaboost(
    features: Float[np.ndarray, "n_samples n_features"],
    labels: Float[np.ndarray, " n_samples"],
    n_rounds: int,
    *,
    weak_learner: WeakLearner = best_stump,
) -> Boosted:
    """Boost a weak learner: equations (12) to (14).

    Parameters
    ----------
    features : ndarray
        The examples, one a row. It is not changed, nor is `labels`.
    labels : ndarray
        1.0 or -1.0 for each of them.
    n_rounds : int
        The largest number of rules. At least 1.
    weak_learner : callable
        Called as `weak_learner(features, labels, weights)` once a round, with weights that sum to 1; returns a rule, which
        takes features and returns 1.0 or -1.0 for each row.

    Returns
    -------
    Boosted
        The rules, their votes and their edges. It ends early when a rule's edge is not above `NO_EDGE`: this rule is left
        out, so there may be no rule at all. And it ends when a rule's weighted error is 0: then this rule alone is returned,
        without the earlier ones, with the vote 1 and the edge 0.5.

    Raises
    ------
    ValueError
        If `features` is not a matrix of finite numbers with at least one entry, `labels` are not 1 or -1 for each row, or `n_rounds` is
        below 1.

    Examples
    --------
    >>> x, y = np.arange(1.0, 6.0)[:, None], np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    >>> boosted = adaboost(x, y, 2)
    >>> boosted.votes.round(3), boosted.edges.round(3)
    (array([0.693, 0.549]), array([0.3 , 0.25]))
    """
    # given: the checks
    _check_examples(features, labels)
    if n_rounds < 1:
        raise ValueError(f"n_rounds must be at least 1, got {n_rounds}")
    raise NotImplementedError("not written yet: adaboost")


def margins(
    boosted: Boosted, features: Float[np.ndarray, "n_samples n_features"], labels: Float[np.ndarray, " n_samples"]
) -> Float[np.ndarray, " n_samples"]:
    """Return the margins of examples, equation (16).

    With labels of 1 throughout, the sign of the margin is the prediction.

    Parameters
    ----------
    boosted : Boosted
        Rules and their votes.
    features : ndarray
        The examples, one a row; not necessarily those of the training.
    labels : ndarray
        1.0 or -1.0 for each of them.

    Returns
    -------
    ndarray
        The margins, between -1 and 1; zeros if there are no rules.

    Examples
    --------
    >>> x, y = np.arange(1.0, 6.0)[:, None], np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    >>> margins(adaboost(x, y, 2), x, y).round(3)
    array([ 0.116,  0.116,  1.   ,  1.   , -0.116])
    """
    raise NotImplementedError("not written yet: margins")


def _check_examples(features: np.ndarray, labels: np.ndarray) -> None:  # given
    """Refuse what is no set of examples."""
    if features.ndim != 2 or not features.size or not np.isfinite(features).all():
        raise ValueError(f"features must be finite and have shape (n_samples, n_features), got {features}")
    if labels.shape != features.shape[:1] or not (abs(labels) == 1).all():
        raise ValueError(f"labels must be 1 or -1 for each of the {len(features)} rows, got {labels}")
