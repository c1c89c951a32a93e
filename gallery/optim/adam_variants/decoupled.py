"""What decoupling changes, how far the first steps are trusted, and the rules under noise."""

from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import breast_cancer
from mlpath.optim.adam_variants.decoupled import (
    LookaheadState,
    Rule,
    adabelief,
    adamw,
    lookahead,
    nadam,
    nadam_at_rest,
    radam,
    rectification,
    sma_lengths,
)
from mlpath.optim.adaptive import AdamState, at_rest


def figure(*, steps: int = 300) -> Figure:
    """Draw weights that decay, the factor of RAdam, first updates, and losses of a logistic regression."""
    fig, axes = plt.subplots(1, 4, figsize=(20, 4.6), layout="constrained")
    _decay(axes[0], steps)
    _trust(axes[1])
    _updates(axes[2])
    _losses(axes[3], steps)
    return fig


def _decay(axes: plt.Axes, steps: int) -> None:
    scales = np.array([0.1, 1.0, 10.0, 100.0])
    for name in ("AdamW", "L2"):
        x, state, points = np.full(4, 10.0), at_rest(AdamState, np.zeros(4)), []
        for t in range(steps):
            points.append(x)
            gradient = (-1) ** t * scales + 0.2 * x * (name == "L2")
            state, update = adamw(state, gradient, x, step_size=0.05, weight_decay=0.2 * (name == "AdamW"))
            x = x + update
        for i, scale in enumerate(scales):
            label = f"{name}, gradients ±{scale:g}" if name == "L2" else ("AdamW, all four" if i == 3 else None)
            style = {"color": f"C{i}"} if name == "L2" else {"color": "k", "linestyle": "--"}
            axes.plot([p[i] for p in points], label=label, **style)
    axes.set(title="A weight that decays from 10", xlabel="step t", ylabel="x")
    axes.legend(fontsize=8)


def _trust(axes: plt.Axes) -> None:
    counts = np.unique(np.geomspace(1, 10_000, 200).astype(int))
    for decay in (0.9, 0.99, 0.999, 0.9999):
        factors = [rectification(*sma_lengths(int(t), decay)) for t in counts]
        axes.semilogx(counts, factors, label=f"$β_2$ = {decay}")
    axes.set(title="RAdam: the factor of the adaptive step", xlabel="step t", ylabel="$r_t$ (0: no divisor)")
    axes.legend(fontsize=8)


def _rules() -> dict[str, tuple[Rule, Any]]:
    """Return each rule with a step size, and what makes its first state."""
    adam_rest = partial(at_rest, AdamState)
    return {
        "AdamW": (partial(adamw, step_size=0.05, weight_decay=0.0), adam_rest),
        "NAdam": (partial(nadam, step_size=0.05), nadam_at_rest),
        "RAdam": (partial(radam, step_size=0.05), adam_rest),
        "AdaBelief": (partial(adabelief, step_size=0.05), adam_rest),
        "Lookahead(AdamW)": (
            lookahead(partial(adamw, step_size=0.05, weight_decay=0.0)),
            lambda x: LookaheadState(0, x, at_rest(AdamState, x)),
        ),
    }


def _updates(axes: plt.Axes) -> None:
    for name, (rule, start) in _rules().items():
        x, points = np.zeros(1), [0.0]
        state = start(x)
        for _ in range(25):
            state, update = rule(state, np.array([-1.0]), x)
            x = x + update
            points.append(x[0])
        axes.plot(points, ".-", label=name)
    axes.set(title="Points along a constant slope of −1, a = 0.05", xlabel="step t", ylabel="x")
    axes.set_ylim(-0.1, 2.6)
    axes.legend(fontsize=8)


def _losses(axes: plt.Axes, steps: int) -> None:
    tumours = breast_cancer(ridge=1e-2)
    for name, (rule, start) in _rules().items():
        rng = np.random.default_rng(0)
        x = tumours.start
        state, losses = start(x), []
        for _ in range(steps):
            losses.append(tumours.fun(x) - tumours.fun(tumours.minimum))
            state, update = rule(state, tumours.grad(x) + 0.03 * rng.standard_normal(len(x)), x)
            x = x + update
        axes.loglog(np.arange(1, steps + 1), losses, label=name)
    axes.set(title="Classifying tumours, noisy gradients", xlabel="step t", ylabel="f − f*")
    axes.legend(fontsize=8)
