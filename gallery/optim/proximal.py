"""Proximal operators of four penalties, envelopes of the absolute value, and four walks to the same lasso."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.proximal import (
    alpha_max,
    lasso_gap,
    moreau_envelope,
    prox_elastic_net,
    proximal_gradient,
    soft_threshold,
)


def figure() -> Figure:
    """Draw operators, envelopes and duality gaps."""
    fig, (operators, envelopes, gaps) = plt.subplots(1, 3, figsize=(16, 4.6), layout="constrained")
    _operators(operators)
    _envelopes(envelopes)
    _gaps(gaps)
    return fig


def _operators(axes: plt.Axes) -> None:
    x = np.linspace(-3, 3, 601)
    axes.plot(x, x, ":", color="0.6", label="no penalty")
    axes.plot(x, soft_threshold(x, 1.0), label="|y|: soft threshold")
    axes.plot(x, prox_elastic_net(x, 1.0, l1=0.0, l2=1.0), label="y² / 2: half of x")
    axes.plot(x, prox_elastic_net(x, 1.0, l1=1.0, l2=1.0), label="elastic net: both")
    axes.plot(x, np.minimum(np.maximum(x, -0.5), 2.0), label="-0.5 ≤ y ≤ 2: projection")
    axes.set(title="Where x is sent, with step size 1", xlabel="x", ylabel="proximal point", aspect="equal")
    axes.legend(fontsize=8, loc="upper left")


def _envelopes(axes: plt.Axes) -> None:
    x = np.linspace(-3, 3, 301)
    axes.plot(x, abs(x), "k", label="|x|")
    for step_size in (0.5, 1.0, 3.0):
        values = [
            moreau_envelope(lambda y: float(abs(y).sum()), soft_threshold, np.array([a]), step_size)[0] for a in x
        ]
        axes.plot(x, values, label=f"envelope, a = {step_size:g}")
    axes.set(title="Envelopes of |x|: Huber's function", xlabel="x", ylabel="value")
    axes.legend(fontsize=8)


def _gaps(axes: plt.Axes) -> None:
    rng = np.random.default_rng(3)
    features = rng.standard_normal((100, 60)) + 1.2 * rng.standard_normal((100, 1))
    targets = features[:, :6] @ np.array([3.0, -2.0, 1.5, 1.0, -1.0, 2.0]) + rng.standard_normal(100)
    alpha = 0.02 * alpha_max(features, targets)
    smoothness = np.linalg.norm(features, 2) ** 2 / 100
    for name, accelerate, restart, search in (
        ("ISTA", False, False, False),
        ("FISTA", True, False, False),
        ("FISTA, restarts", True, True, False),
        ("FISTA, restarts, search", True, True, True),
    ):
        path = proximal_gradient(
            lambda w: float(((features @ w - targets) ** 2).sum()) / 200,
            lambda w: (features @ w - targets) @ features / 100,
            lambda w: alpha * float(abs(w).sum()),
            lambda w, a: soft_threshold(w, a * alpha),
            np.zeros(60),
            step_size=(64 if search else 1) / smoothness,
            accelerate=accelerate,
            restart=restart,
            search=search,
            tol=1e-9,
            max_iter=1500,
            record_path=True,
        ).path
        axes.semilogy(
            [max(lasso_gap(features, targets, w, alpha), 1e-13) for w in path], "--" if search else "-", label=name
        )
    axes.set(title="Lasso, 60 correlated features", xlabel="steps", ylabel="duality gap", ylim=(1e-10, None))
    axes.legend(fontsize=8)
