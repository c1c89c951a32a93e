"""Logarithms normalised, rounds one by one, and boosting that multiplies its weights."""

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
    rules: tuple[Rule, ...]
    votes: Float[np.ndarray, " n_rules"]
    edges: Float[np.ndarray, " n_rules"]


@dataclass(frozen=True)
class Stump:  # given: a rule that looks at one feature
    feature: int
    threshold: float
    sign: float

    def __call__(self, features: Float[np.ndarray, "n_samples n_features"]) -> Float[np.ndarray, " n_samples"]:
        return np.where(features[:, self.feature] > self.threshold, self.sign, -self.sign)


def hedge_weights(
    totals: Float[np.ndarray, "*rounds n_experts"], step_size: float | Float[np.ndarray, "*rounds"]
) -> Float[np.ndarray, "*rounds n_experts"]:
    logarithms = -np.expand_dims(np.asarray(step_size, dtype=float), -1) * (totals - totals[..., :1])
    return np.exp(logarithms - np.logaddexp.reduce(logarithms, axis=-1, keepdims=True))


def hedge_step_sizes(n_rounds: int, n_experts: int, *, anytime: bool) -> Float[np.ndarray, " n_rounds"]:
    scale = float(np.sqrt(np.log(n_experts)))
    if not anytime:
        scale *= (8 / n_rounds) ** 0.5
    return np.array([2 * scale / (t + 1) ** 0.5 if anytime else scale for t in range(n_rounds)])


def hedge(
    losses: Float[np.ndarray, "n_rounds n_experts"], step_sizes: float | Float[np.ndarray, " n_rounds"]
) -> Float[np.ndarray, "n_rounds n_experts"]:
    # given: the checks
    if losses.ndim != 2 or not losses.size or not np.isfinite(losses).all():
        raise ValueError(f"losses must be finite and have shape (n_rounds, n_experts), got {losses}")
    if np.shape(step_sizes) not in ((), losses.shape[:1]):
        raise ValueError(f"step_sizes must be one number or have shape {losses.shape[:1]}, got {np.shape(step_sizes)}")
    if not (np.greater_equal(step_sizes, 0) & np.isfinite(step_sizes)).all():
        raise ValueError(f"step_sizes must be finite and not negative, got {step_sizes}")
    n_rounds, n_experts = losses.shape
    steps = np.broadcast_to(np.asarray(step_sizes, dtype=float), (n_rounds,))
    totals, weights = np.zeros(n_experts), []
    for t in range(n_rounds):
        powers = np.exp(-steps[t] * (totals - totals.min()))
        weights.append(powers / powers.sum())
        totals = totals + losses[t]
    return np.array(weights)


def regret(
    losses: Float[np.ndarray, "n_rounds n_experts"], weights: Float[np.ndarray, "n_rounds n_experts"]
) -> Float[np.ndarray, " n_rounds"]:
    ours, totals, result = 0.0, np.zeros(losses.shape[1]), []
    for p, row in zip(weights, losses, strict=True):
        ours += p @ row
        totals = totals + row
        result.append(ours - min(totals))
    return np.array(result)


def descent_step_sizes(
    n_rounds: int, *, diameter: float, gradient_bound: float, curvature: float = 0.0
) -> Float[np.ndarray, " n_rounds"]:
    t = np.cumsum(np.ones(n_rounds))
    return 1 / curvature / t if curvature else diameter / gradient_bound * t**-0.5


def online_gradient_descent(
    gradient: Callable[[int, Vector], Vector],
    start: Float[np.ndarray, " dim"],
    step_sizes: Float[np.ndarray, " n_rounds"],
    project: Projection,
) -> Float[np.ndarray, "n_rounds dim"]:
    # given: the checks
    if start.ndim != 1 or not start.size or not np.isfinite(start).all():
        raise ValueError(f"start must be a vector of finite numbers, got {start}")
    if step_sizes.ndim != 1 or not (np.greater_equal(step_sizes, 0) & np.isfinite(step_sizes)).all():
        raise ValueError(f"step_sizes must be a vector of finite numbers that are not negative, got {step_sizes}")
    played = [start]
    for t in range(len(step_sizes) - 1):
        x = played[-1]
        played.append(project(x - gradient(t, x) * step_sizes[t]))
    return np.array(played[: len(step_sizes)]).reshape(len(step_sizes), len(start))


def best_stump(  # given
    features: Float[np.ndarray, "n_samples n_features"],
    labels: Float[np.ndarray, " n_samples"],
    weights: Float[np.ndarray, " n_samples"],
) -> Stump:
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
    # given: the checks
    _check_examples(features, labels)
    if n_rounds < 1:
        raise ValueError(f"n_rounds must be at least 1, got {n_rounds}")
    weights = np.full(len(labels), 1 / len(labels))
    found: list[tuple[Rule, float, float]] = []
    while len(found) < n_rounds:
        rule = weak_learner(features, labels, weights)
        wrong = rule(features) != labels
        error = float(weights @ wrong)
        if error == 0:
            found = [(rule, 1.0, 0.5)]
            break
        if error >= 0.5 - NO_EDGE:
            break
        found.append((rule, float(np.arctanh(1 - 2 * error)), 0.5 - error))
        weights = np.where(wrong, weights / (2 * error), weights / (2 * (1 - error)))
        weights = weights / weights.sum()
    return Boosted(
        tuple(r for r, _, _ in found), np.array([v for _, v, _ in found]), np.array([e for _, _, e in found])
    )


def margins(
    boosted: Boosted, features: Float[np.ndarray, "n_samples n_features"], labels: Float[np.ndarray, " n_samples"]
) -> Float[np.ndarray, " n_samples"]:
    if not boosted.rules:
        return np.zeros(len(labels))
    shares = boosted.votes / sum(boosted.votes)
    return np.sum([share * labels * rule(features) for share, rule in zip(shares, boosted.rules, strict=True)], axis=0)


def _check_examples(features: np.ndarray, labels: np.ndarray) -> None:  # given
    """Refuse what is no set of examples."""
    if features.ndim != 2 or not features.size or not np.isfinite(features).all():
        raise ValueError(f"features must be finite and have shape (n_samples, n_features), got {features}")
    if labels.shape != features.shape[:1] or not (abs(labels) == 1).all():
        raise ValueError(f"labels must be 1 or -1 for each of the {len(features)} rows, got {labels}")
