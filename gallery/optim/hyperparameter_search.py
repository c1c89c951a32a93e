"""A grid beside random search, Hyperband's trials on digits, and what so many tries are worth."""

import warnings
from functools import partial
from itertools import islice
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

from mlpath.optim.hyperparameter_search import (
    Choice,
    LogUniform,
    Uniform,
    brackets,
    expected_best,
    grid,
    hit_probability,
    hyperband,
    sample,
    successive_halving,
)


def figure(*, steps: int = 27) -> Figure:
    """Draw settings of two searches, probabilities to hit, Hyperband's halvings, and the expected best of n."""
    fig, axes = plt.subplots(1, 4, figsize=(20, 4.6), layout="constrained")
    _coverage(axes[0])
    _hits(axes[1])
    evaluate = partial(_error, data=_data())
    space = {"alpha": LogUniform(1e-6, 10.0), "penalty": Choice(("l2", "l1"))}
    _halvings(axes[2], evaluate, space, steps)
    drawn = sample(space, 40, rng=np.random.default_rng(1))
    found = successive_halving(evaluate, drawn, resource=steps, n_rungs=1)
    losses = np.array([trial.loss for trial in found.trials])
    n = np.arange(1, len(losses) + 1)
    axes[3].plot(n, [100 * expected_best(losses, int(k)) for k in n], label="expected best of n, equation (4)")
    axes[3].plot(n, 100 * np.minimum.accumulate(losses), color="0.6", label="best so far, in one order")
    axes[3].set(title=f"Random search with {steps} epochs", xlabel="tries n", ylabel="error on 300 other digits, %")
    axes[3].legend()
    return fig


def _data() -> tuple[np.ndarray, ...]:
    """Return digits for training and for validation."""
    x, y = map(np.asarray, load_digits(return_X_y=True))
    return x[:200] / 16, y[:200], x[200:500] / 16, y[200:500]


def _error(configuration: dict[str, Any], resource: float, *, data: tuple[np.ndarray, ...]) -> float:
    """Return the share of digits that a linear classifier gets wrong after so many epochs."""
    x, y, x_valid, y_valid = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SGDClassifier(max_iter=max(1, round(resource)), random_state=0, **configuration)
        model = model.set_params(tol=None).fit(x, y)
    return 1 - float(model.score(x_valid, y_valid))


def _coverage(axes: plt.Axes) -> None:
    """Draw nine settings of a grid and nine random ones, with their projections on the axis that matters."""
    space = {"matters": Uniform(0.0, 1.0), "idle": Uniform(0.0, 1.0)}
    tried = {
        "grid": grid(space, {"matters": 3, "idle": 3}),
        "random": sample(space, 9, rng=np.random.default_rng(3)),
    }
    axes.axvspan(0.62, 0.74, color="0.9", label="good")
    for i, (name, settings) in enumerate(tried.items()):
        points = np.array([list(setting.values()) for setting in settings])
        axes.plot(*points.T, "os"[i], color=f"C{i}", label=name)
        axes.plot(points[:, 0], np.full(9, -0.08 - 0.06 * i), "|", color=f"C{i}", markersize=10)
    axes.set(title="Nine tries: 3 or 9 values of what matters", xlabel="matters", ylabel="idle")
    axes.legend(loc="upper left", fontsize=8, bbox_to_anchor=(0.08, 0.9))


def _hits(axes: plt.Axes) -> None:
    """Draw the probability that some of n tries is good enough."""
    n = np.arange(1, 121)
    for share in (0.01, 0.05, 0.2):
        axes.plot(n, [hit_probability(share, int(k)) for k in n], label=f"p = {share:.0%}")
    axes.axhline(0.95, color="0.7", linewidth=0.8)
    axes.axvline(60, color="0.7", linewidth=0.8)
    axes.set(title="At least one good try, equation (3)", xlabel="tries n", ylabel="probability", ylim=(0, 1.02))
    axes.legend()


def _halvings(axes: plt.Axes, evaluate: Any, space: dict[str, Any], steps: int) -> None:
    """Draw the losses of all of Hyperband's trials, those of one setting of one bracket joined."""
    result = hyperband(evaluate, space, steps, rng=np.random.default_rng(0))
    trials, all_rungs = iter(result.trials), brackets(steps)
    for i, rungs in enumerate(all_rungs):
        runs = {}
        for trial in islice(trials, sum(n for n, _ in rungs)):
            run = runs.setdefault(tuple(trial.configuration.items()), [])
            run.append((trial.resource, 100 * trial.loss))
        for points in runs.values():
            axes.plot(*zip(*points), "o-", color=f"C{i}", markersize=4, linewidth=0.8)
        axes.plot([], [], "o-", color=f"C{i}", label=f"s = {len(all_rungs) - 1 - i}")
    axes.set(title="Hyperband: a linear classifier of digits", xlabel="epochs", ylabel="error, %", xscale="log")
    axes.legend()
