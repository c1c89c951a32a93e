"""A chain that moves between polynomials: its path, the time at each order, the fits, and what the proposal is worth."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.reversible_jump.polynomial_order import Model, Proposal, order_posterior, orthonormal_basis, sample


def figure(steps: int = 300) -> Figure:
    """Above: the fits, and one chain. Below: orders against the exact answer, and acceptance against scale."""
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(-3, 8, 23))
    y = 4 + 0.5 * x - 0.07 * (x - 2) ** 2 + rng.normal(0, 1.0, 23)
    basis = orthonormal_basis(x, 5)
    model = Model(y, basis, 1.0, 2.0, np.zeros(6))
    precision = 23 / model.noise**2 + 1 / model.spread**2
    centre, scale = basis.T @ y / model.noise**2 / precision, np.full(6, precision**-0.5)
    run = sample(model, Proposal(centre, 3 * scale), np.zeros(200, dtype=int), steps, rng=rng)

    fig, ((fits, path), (shares, speed)) = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    colours = ["tab:red", "tab:blue", "tab:green", "tab:orange", "tab:purple", "tab:brown"]
    for chain in range(60):
        fits.plot(x, basis @ run.coefficients[chain, -1], color=colours[run.order[chain, -1]], linewidth=0.7, alpha=0.5)
    for k in range(4):
        fits.plot([], [], color=colours[k], label=f"order {k}")
    fits.plot(x, y, "k.", label="data")
    fits.set(xlabel="$x$", ylabel="$y$", title="Last draws of 60 chains")
    fits.legend(loc="lower right")

    path.step(np.arange(1, steps + 1), run.order[0], where="mid", linewidth=0.9)
    path.set(xlabel="step", ylabel="order", title="One chain, from order 0", yticks=range(6))

    kept = run.order[:, steps // 3 :]
    shares.bar(np.arange(6) - 0.2, np.bincount(kept.ravel(), minlength=6) / kept.size, 0.4, label="200 chains")
    shares.bar(np.arange(6) + 0.2, np.exp(order_posterior(model)), 0.4, label="exact, equation (9)")
    shares.set(xlabel="order", ylabel="posterior probability", title="The time at each order is its probability")
    shares.legend()

    factors = np.geomspace(0.02, 100, 15)
    rates = [
        sample(model, Proposal(centre, f * scale), rng.choice(6, 200, p=np.exp(order_posterior(model))), 50, rng=rng)
        for f in factors
    ]
    speed.semilogx(factors, [run.acceptance_rate.mean() for run in rates], "o-")
    speed.axvline(1, color="k", linestyle=":", linewidth=1)
    speed.set(xlabel="scale of the proposal / that of the conditional", ylabel="share of steps with another order")
    speed.set_title("All of these are right; some are slow")
    return fig
