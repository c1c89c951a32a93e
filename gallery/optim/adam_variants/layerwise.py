"""Layers of unequal scale, weights that grow without being asked to, and what that does to the effective step."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.adam_variants.decoupled import adamw
from mlpath.optim.adam_variants.layerwise import VelocityState, adamp, effective_step, lamb, lars, layerwise, tangential
from mlpath.optim.adaptive import AdamState, at_rest


def figure(*, steps: int = 300) -> Figure:
    """Draw the moves of three layers, the growth under momentum, and lengths and effective steps of two rules."""
    fig, axes = plt.subplots(1, 4, figsize=(20, 4.6), layout="constrained")
    _shares(axes[0])
    _growth(axes[1], steps)
    _rules(axes[2], axes[3], steps)
    return fig


def _shares(axes: plt.Axes) -> None:
    """Draw by which share of its length each of three layers moves in the first step."""
    rng = np.random.default_rng(0)
    x = {f"‖x‖ = {scale:g}": scale * rng.standard_normal(100) / 10 for scale in (0.01, 1.0, 100.0)}
    gradients = {name: rng.standard_normal(100) for name in x}
    rules = {
        "gradient descent, a = 0.01": (lambda state, g, x: (state, -0.01 * g), VelocityState),
        "AdamW, a = 0.01": (partial(adamw, step_size=0.01, weight_decay=0.0), AdamState),
        "LARS, a = 10, η = 0.001": (partial(lars, step_size=10.0), VelocityState),
        "LAMB, a = 0.01": (partial(lamb, step_size=0.01), AdamState),
    }
    for i, (label, (rule, state_type)) in enumerate(rules.items()):
        states = {name: at_rest(state_type, value) for name, value in x.items()}
        _, updates = layerwise(rule, exempt=(), plain=rule)(states, gradients, x)
        shares = [np.linalg.norm(updates[name]) / np.linalg.norm(x[name]) for name in x]
        axes.bar(np.arange(3) + 0.2 * i, shares, width=0.18, label=label)
    axes.set_xticks(np.arange(3) + 0.3, list(x))
    axes.set(title="The first step of three layers", ylabel="‖u‖ / ‖x‖", yscale="log", ylim=(1e-4, 1e4))
    axes.legend(fontsize=8)


def _growth(axes: plt.Axes, steps: int) -> None:
    """Draw how many times more than its steps need the squared length grows under momentum."""
    for i, (share, projected) in enumerate(((0.0, False), (0.5, False), (0.8, False), (0.9, False), (0.9, True))):
        rng = np.random.default_rng(0)
        x, momentum, needed, ratios = rng.standard_normal(400), np.zeros(400), 0.0, []
        first = x @ x
        for _ in range(steps):
            momentum = share * momentum + tangential(x, rng.standard_normal(400))
            update = -0.01 * (tangential(x, momentum) if projected else momentum)
            x, needed = x + update, needed + update @ update
            ratios.append((x @ x - first) / needed)
        label = f"β = {share}" + (", tangential steps" if projected else "")
        axes.plot(ratios, color=f"C{i}", label=label, linestyle="--" if projected else "-")
        if not projected:
            axes.axhline((1 + share) / (1 - share), color=f"C{i}", linestyle=":", linewidth=1)
    axes.set(title="Growth of ‖x‖² by what the steps need", xlabel="step t", ylabel="(‖x‖² − ‖x₀‖²) / Σ‖u‖²")
    axes.legend(fontsize=8, loc=(0.5, 0.58))


def _rules(lengths: plt.Axes, turns: plt.Axes, steps: int) -> None:
    """Draw two rules on a quotient that does not depend on the length, with noisy gradients."""
    matrix = np.diag(np.linspace(1, 4, 50))
    for name, rule in (("AdamW", adamw), ("AdamP", adamp)):
        for decay in (0.0, 0.1):
            rng = np.random.default_rng(0)
            x = rng.standard_normal(50) / 5
            state, seen, moved = at_rest(AdamState, x), [], []
            for _ in range(3 * steps):
                gradient = 2 * (matrix @ x - (x @ matrix @ x) / (x @ x) * x) / (x @ x)
                gradient = gradient + tangential(x, rng.standard_normal(50)) / np.linalg.norm(x)
                state, update = rule(state, gradient, x, step_size=0.01, weight_decay=decay)
                seen.append(np.linalg.norm(x))
                moved.append(effective_step(x, update))
                x = x + update
            style = {"color": "C0" if name == "AdamW" else "C1", "linestyle": "--" if decay else "-"}
            lengths.plot(seen, label=f"{name}, λ = {decay:g}", **style)
            turns.semilogy(moved, label=f"{name}, λ = {decay:g}", **style)
    lengths.set(title="f(x) = xᵀAx / ‖x‖², noisy: the length", xlabel="step t", ylabel="‖x‖")
    turns.set(title="… and the effective step", xlabel="step t", ylabel="e(x, u)")
    lengths.legend(fontsize=8)
    turns.legend(fontsize=8)
