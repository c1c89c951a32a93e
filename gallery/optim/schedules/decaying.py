"""Schedules that decay, on one sheet, and what they do to logistic regression by minibatches."""

from collections.abc import Callable
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import breast_cancer
from mlpath.optim.schedules.decaying import (
    cosine_decay,
    exponential_decay,
    inverse_square_root,
    polynomial_decay,
    step_decay,
    warm_up,
)


def schedules(n: int) -> dict[str, Callable]:
    """Return all schedules for a run of so many steps."""
    cosine = partial(cosine_decay, rate=1.0, n_steps=n - n // 8)
    return {
        "step decay (1)": partial(step_decay, rate=1.0, factor=0.4, every=max(n // 5, 1)),
        "exponential (2)": partial(exponential_decay, rate=1.0, factor=0.01 ** (1 / n)),
        "polynomial (3), power 1": partial(polynomial_decay, rate=1.0, n_steps=n),
        "polynomial (3), power 2": partial(polynomial_decay, rate=1.0, n_steps=n, power=2.0),
        "cosine (4)": partial(cosine_decay, rate=1.0, n_steps=n),
        "cosine, warmed up (5)": warm_up(cosine, n_steps=max(n // 8, 1)),
        "inverse square root (6)": partial(inverse_square_root, rate=1.0, n_warm_up=max(n // 8, 1)),
        "constant": lambda step: np.ones(np.shape(step)),
    }


def descend(rates: np.ndarray, batch: int = 8) -> list[float]:
    """Return the excess of the loss over its minimum after each step of minibatches."""
    from sklearn.datasets import load_breast_cancer

    problem, rng = breast_cancer(ridge=1e-2), np.random.default_rng(0)
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    rows = np.column_stack([features, np.ones(len(features))]) * (2.0 * labels - 1)[:, None]
    w, least, excess = problem.start, problem.fun(problem.minimum), []
    for rate in rates:
        some = rows[rng.integers(0, len(rows), batch)]
        w = w - rate * (1e-2 * w - (1 - np.tanh(some @ w / 2)) / 2 @ some / batch)
        excess.append(problem.fun(w) - least)
    return excess


def figure(*, steps: int = 3000) -> Figure:
    """Draw each schedule in a panel of its own, and the loss of all with the same sum of rates."""
    fig = plt.figure(figsize=(15, 7), layout="constrained")
    grid = fig.add_gridspec(3, 5)
    sheet = schedules(steps)
    loss = fig.add_subplot(grid[:, 3:])
    for number, (name, schedule) in enumerate(sheet.items()):
        rates = np.asarray(schedule(np.arange(steps)))
        panel = fig.add_subplot(grid[number // 3, number % 3])
        panel.plot(rates, color=f"C{number}")
        panel.fill_between(np.arange(steps), rates, color=f"C{number}", alpha=0.15)
        panel.set(
            title=name, ylim=(0, 1.08), xlabel="step" if number > 4 else "", ylabel="rate" if number % 3 == 0 else ""
        )
        width = max(steps // 60, 1)
        excess = np.convolve(descend(rates * 0.12 * steps / rates.sum()), np.ones(width) / width, "valid")
        loss.semilogy(np.arange(len(excess)) + width, excess, color=f"C{number}", label=name)
    loss.set(
        title="Logistic regression by minibatches of 8,\nall with the same sum of rates",
        xlabel="step",
        ylabel=f"loss above its minimum, mean of {max(steps // 60, 1)} steps",
    )
    loss.legend(fontsize=9)
    return fig
