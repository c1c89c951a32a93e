"""A step by step walk of the two copies, residuals for several weights, basis pursuit, and consensus of blocks."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.admm import State, admm, basis_pursuit, consensus_prox, least_squares_prox, step
from mlpath.optim.proximal import alpha_max, soft_threshold


def figure() -> Figure:
    """Draw all four."""
    fig, axes = plt.subplots(1, 4, figsize=(19, 4.4), layout="constrained")
    _walk(axes[0])
    _weights(axes[1])
    _pursuit(axes[2])
    _consensus(axes[3])
    return fig


def _walk(axes: plt.Axes) -> None:
    hessian, target = np.array([[1.0, 0.75], [0.75, 1.2]]), np.array([1.6, 0.5])
    side = np.linspace(-0.6, 2.3, 200)
    plane = np.stack(np.meshgrid(side, side[:150]), axis=-1)
    off = plane - target
    values = np.einsum("abi,ij,abj->ab", off, hessian, off) / 2 + 0.5 * abs(plane).sum(axis=-1)
    axes.contour(side, side[:150], values, 22, colors="0.85")

    def prox_f(v: np.ndarray, a: float) -> np.ndarray:
        return np.linalg.solve(np.eye(2) + a * hessian, v + a * hessian @ target)

    states = [State(*np.array([[0.0, 1.4], [0.0, 1.4], [0.0, 0.0]]))]
    for _ in range(20):
        states.append(step(states[-1], prox_f, lambda v, a: soft_threshold(v, 0.5 * a), rho=1.0))
    for before, after in pairwise(states):
        axes.plot(*np.transpose([before.z, after.x]), "-", color="C0", lw=0.7)
        axes.plot(*np.transpose([after.x, after.z]), "-", color="C1", lw=0.7)
    axes.plot(*np.transpose([s.x for s in states[1:]]), "o", color="C0", ms=4, label="x, after the square")
    axes.plot(*np.transpose([s.z for s in states]), "s", color="C1", ms=8, mfc="none", label="z, after the 1-norm")
    axes.set(title="A square plus a 1-norm, in two variables", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(fontsize=8)


def _data() -> tuple[np.ndarray, np.ndarray, float]:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((100, 200))
    targets = features[:, :8] @ rng.standard_normal(8) + 0.1 * rng.standard_normal(100)
    return features, targets, 0.1 * alpha_max(features, targets)


def _weights(axes: plt.Axes) -> None:
    features, targets, alpha = _data()
    prox_f = least_squares_prox(features, targets, 1 / 100)
    runs = [
        ("weight 0.03", "C3", {"rho": 0.03}),
        ("weight 1", "C0", {"rho": 1.0}),
        ("weight 30", "C1", {"rho": 30.0}),
        ("from 30, balanced", "C2", {"rho": 30.0, "balance_until": 100}),
        ("and relaxed by 1.6", "0.3", {"rho": 30.0, "balance_until": 100, "relaxation": 1.6}),
    ]
    for name, color, options in runs:
        found = admm(
            prox_f,
            lambda v, a: soft_threshold(v, a * alpha),
            np.zeros(200),
            max_iter=250,
            eps_abs=0.0,
            eps_rel=1e-9,
            **options,
        )
        axes.semilogy(np.hypot(found.primal, found.dual), color=color, label=name)
    axes.set(title="A lasso with 200 features", xlabel="steps", ylabel="length of both residuals")
    axes.legend(fontsize=8)


def _pursuit(axes: plt.Axes) -> None:
    rng = np.random.default_rng(1)
    sizes, rows = np.arange(1, 21, 2), (15, 25, 35)
    for n_rows, color in zip(rows, ("C0", "C1", "C2"), strict=True):
        shares = []
        for size in sizes:
            hits = 0
            for _ in range(8):
                matrix, x = rng.standard_normal((n_rows, 60)), np.zeros(60)
                x[rng.permutation(60)[:size]] = rng.standard_normal(size)
                hits += abs(basis_pursuit(matrix, matrix @ x, rho=2.0, max_iter=1500).z - x).max() < 1e-2
            shares.append(hits / 8)
        axes.plot(sizes, shares, "o-", color=color, label=f"{n_rows} equations")
    axes.set(
        title="Basis pursuit, 60 unknowns",
        xlabel="entries that are not zero",
        ylabel="share of vectors found",
        xticks=sizes,
    )
    axes.legend(fontsize=8)


def _consensus(axes: plt.Axes) -> None:
    rng, n_blocks = np.random.default_rng(2), 5
    truth = np.array([1.5, -1.0, 0.0])
    proxes = []
    for _ in range(n_blocks):
        features = rng.standard_normal((6, 3)) * [1.0, 0.6, 1.4]
        proxes.append(least_squares_prox(features, features @ truth + 1.5 * rng.standard_normal(6), 1 / 30))

    def blocks(v: np.ndarray, a: float) -> np.ndarray:
        return np.stack([prox(row, a) for prox, row in zip(proxes, v, strict=True)])

    zero = np.zeros((n_blocks, 3))
    states, common = [State(zero, zero, zero)], consensus_prox(lambda v, a: soft_threshold(v, 0.05 * a))
    for _ in range(15):
        states.append(step(states[-1], blocks, common, rho=0.06))
    for i in range(n_blocks):
        axes.plot([s.x[i, 0] for s in states], color="C0", lw=0.8, label="first weight" if i == 0 else None)
        axes.plot([s.x[i, 1] for s in states], color="C1", lw=0.8, label="second weight" if i == 0 else None)
    for k, color in ((0, "C0"), (1, "C1")):
        axes.plot([s.z[0, k] for s in states], "--", color=color, lw=2, label="what all agree on" if k == 0 else None)
    axes.set(title="Five blocks of data come to an agreement", xlabel="steps", ylabel="weight")
    axes.legend(fontsize=8)
