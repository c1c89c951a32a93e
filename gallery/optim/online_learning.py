"""Regret of Hedge and of the leader, of descent on losses with and without curvature, and boosting's errors and margins."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.online_learning import (
    Boosted,
    adaboost,
    descent_step_sizes,
    hedge,
    hedge_step_sizes,
    hedge_weights,
    margins,
    online_gradient_descent,
    regret,
)
from mlpath.optim.projected_gradient.projections import project_ball


def figure() -> Figure:
    """Draw all four."""
    fig, axes = plt.subplots(1, 4, figsize=(19, 4.4), layout="constrained")
    _hedge(axes[0])
    _descent(axes[1])
    _errors(axes[2])
    _margins(axes[3])
    return fig


def _hedge(axes: plt.Axes) -> None:
    n_rounds, n_experts = 2000, 5
    rounds, totals, losses = np.arange(1, n_rounds + 1), np.zeros(n_experts), np.zeros((n_rounds, n_experts))
    steps = hedge_step_sizes(n_rounds, n_experts, anytime=True)
    for t in range(n_rounds):  # the adversary hits the expert with the largest weight
        losses[t, hedge_weights(totals, steps[t]).argmax()] = 1.0
        totals += losses[t]
    axes.plot(rounds, regret(losses, hedge(losses, 50.0)), color="C3", label="step size 50: the leader")
    axes.plot(rounds, regret(losses, hedge(losses, steps)), color="C0", label="falling steps (6)")
    fixed = hedge_step_sizes(n_rounds, n_experts, anytime=False)
    axes.plot(rounds, regret(losses, hedge(losses, fixed)), color="C1", label="fixed step (5)")
    axes.plot(rounds, np.sqrt(rounds * np.log(n_experts)), "--", color="C0", label="bound (6)")
    axes.axhline(np.sqrt(n_rounds * np.log(n_experts) / 2), ls="--", color="C1", label="bound (5) for all rounds")
    axes.set(title="Hedge against an adversary, five experts", xlabel="rounds", ylabel="regret", ylim=(-3, 110))
    axes.legend(fontsize=8)


def _descent(axes: plt.Axes) -> None:
    rng, n_rounds, mu = np.random.default_rng(1), 3000, 1.0
    targets = rng.standard_normal((n_rounds, 2)) * 0.4 + [0.3, 0.0]
    targets /= np.maximum(np.linalg.norm(targets, axis=1, keepdims=True), 1)
    rounds = np.arange(1, n_rounds + 1)
    means = np.cumsum(targets, axis=0) / rounds[:, None]
    best = mu / 2 * (np.cumsum((targets**2).sum(axis=1)) - rounds * (means**2).sum(axis=1))
    for curvature, color, name in ((0.0, "C1", r"steps as $1/\sqrt{t}$ (9)"), (mu, "C0", r"steps as $1/t$ (10)")):
        steps = descent_step_sizes(n_rounds, diameter=2.0, gradient_bound=2 * mu, curvature=curvature)
        points = online_gradient_descent(lambda t, x: mu * (x - targets[t]), np.array([-1.0, 0.0]), steps, project_ball)
        axes.loglog(rounds, np.cumsum(mu / 2 * ((points - targets) ** 2).sum(axis=1)) - best, color=color, label=name)
    axes.loglog(rounds, 1.5 * 2 * 2 * mu * np.sqrt(rounds), "--", color="C1", label="bound (9)")
    axes.loglog(rounds, 2 * mu * (1 + np.log(rounds)), "--", color="C0", label="bound (10)")
    axes.set(title="Gradient descent, squared distances", xlabel="rounds", ylabel="regret")
    axes.legend(fontsize=8)


def _tumours() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.datasets import load_breast_cancer

    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    return features, 2.0 * labels - 1, np.arange(len(labels)) % 3 > 0


def _first(boosted: Boosted, n: int) -> Boosted:
    return Boosted(boosted.rules[:n], boosted.votes[:n], boosted.edges[:n])


def _errors(axes: plt.Axes) -> None:
    features, labels, train = _tumours()
    boosted = adaboost(features[train], labels[train], 150)
    rounds = np.arange(1, 151)
    for rows, color, name in ((train, "C0", "training"), (~train, "C3", "test")):
        shares = [(margins(_first(boosted, n), features[rows], labels[rows]) <= 0).mean() for n in rounds]
        axes.plot(rounds, shares, color=color, label=f"{name} examples")
    axes.plot(rounds, np.exp(-2 * np.cumsum(boosted.edges**2)), "--", color="C0", label="bound (15)")
    axes.set(title="AdaBoost on 379 tumours", xlabel="rules", ylabel="share of errors", ylim=(-0.005, 0.2))
    axes.legend(fontsize=8)


def _margins(axes: plt.Axes) -> None:
    features, labels, train = _tumours()
    boosted = adaboost(features[train], labels[train], 500)
    for n, color in ((5, "0.7"), (20, "C1"), (100, "C0"), (500, "C2")):
        values = np.sort(margins(_first(boosted, n), features[train], labels[train]))
        axes.plot(values, np.arange(1, len(values) + 1) / len(values), color=color, label=f"{n} rules")
    axes.axvline(0, ls=":", color="0.5")
    axes.set(title="Margins of the training examples", xlabel="margin", ylabel="share of examples below")
    axes.legend(fontsize=8)
