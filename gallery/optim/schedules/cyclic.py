"""Schedules that rise again, on one sheet, and rates that fall when the loss stalls."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer

from mlpath.optim.schedules.cyclic import (
    Plateau,
    cyclical,
    one_cycle,
    one_cycle_momentum,
    reduce_on_plateau,
    warm_restarts,
)

STEPS = np.arange(400)


def draw(panel: Axes, rates: np.ndarray, title: str, color: str) -> None:
    """Draw one schedule."""
    panel.plot(STEPS, rates, color=color)
    panel.fill_between(STEPS, rates, color=color, alpha=0.15)
    panel.set(title=title, ylim=(0, 1.08), xlim=(0, len(STEPS)))


def draw_plateau(panel: Axes, epochs: int = 60, batch: int = 8) -> None:
    """Draw the loss of each epoch of logistic regression by minibatches, and the rates that these losses call for."""
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    rows = np.column_stack([features, np.ones(len(features))]) * (2.0 * labels - 1)[:, None]
    rng, w, state, losses, rates = np.random.default_rng(0), np.zeros(rows.shape[1]), Plateau(rate=4.0), [], []
    for _ in range(epochs):
        rates.append(state.rate)
        for some in np.array_split(rows[rng.permutation(len(rows))], len(rows) // batch):
            w = w - state.rate * (1e-2 * w - (1 - np.tanh(some @ w / 2)) / 2 @ some / len(some))
        losses.append(np.logaddexp(0, -rows @ w).mean() + 1e-2 / 2 * w @ w)
        state = reduce_on_plateau(state, losses[-1], factor=0.4, patience=4, threshold=0.02)
    panel.step(np.arange(epochs), rates, where="post", color="C5", label="rate")
    panel.semilogy(np.arange(epochs), losses, color="0.5", label="loss after the epoch")
    panel.set(title="reduce on plateau (6)", xlabel="epoch", xlim=(0, epochs))
    panel.legend(fontsize=8)


def figure() -> Figure:
    """Draw all schedules."""
    fig, panels = plt.subplots(2, 4, figsize=(15, 6.5), layout="constrained")
    panels = np.ravel(np.asarray(panels))
    triangles = partial(cyclical, STEPS, 0.1, 1.0, n_up=40, n_down=60)
    draw(panels[0], np.asarray(triangles()), "triangular (2)", "C0")
    draw(panels[1], np.asarray(triangles(mode="triangular2")), "triangular2 (2)", "C0")
    draw(panels[2], np.asarray(triangles(mode="exp_range", factor=0.995)), "exp_range (2), factor 0.995", "C0")
    draw(panels[4], np.asarray(warm_restarts(STEPS, 1.0, first=80)), "warm restarts (5), growth 1", "C1")
    draw(panels[5], np.asarray(warm_restarts(STEPS, 1.0, first=27, growth=2)), "warm restarts (5), growth 2", "C1")
    draw(panels[3], np.asarray(one_cycle(STEPS, 1.0, n_up=120, n_steps=399)), "one cycle (3) and its momentum", "C2")
    momentum = np.asarray(one_cycle_momentum(STEPS, n_up=120, n_steps=399))
    panels[3].plot(STEPS, momentum, color="C3", label="momentum")
    panels[3].legend(fontsize=8, loc="center right")
    effective = np.asarray(one_cycle(STEPS, 1.0, n_up=120, n_steps=399)) / (1 - momentum)
    panels[6].plot(STEPS, effective, color="C3", label="rate / (1 - momentum), varying")
    panels[6].plot(
        STEPS,
        np.asarray(one_cycle(STEPS, 1.0, n_up=120, n_steps=399)) / 0.05,
        "--",
        color="0.5",
        label="with the momentum 0.95 throughout",
    )
    panels[6].set(title="what a gradient moves in the end", ylim=(0, None))
    panels[6].legend(fontsize=8)
    draw_plateau(panels[7])
    for panel in panels[[0, 4]]:
        panel.set_ylabel("rate")
    for panel in panels[4:7]:
        panel.set_xlabel("step")
    return fig
