"""The error by the number of columns and of power iterations, beside its bounds; what one pass costs."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.randomized_svd import (
    error_estimate,
    range_finder,
    single_pass_svd,
    spectral_error_bound,
    svd_from_range,
)

N, DRAWS = 100, 10


def figure() -> Figure:
    """On the left two spectra and the errors of a range; in the middle the iterations; on the right one pass."""
    rng = np.random.default_rng(0)
    j = np.arange(1.0, N + 1)
    spectra = {"fast: $\\sigma_j = 0.8^j$": 0.8**j, "slow: $\\sigma_j = j^{-1/2}$": j**-0.5}
    fig, (by_size, by_iterations, by_pass) = plt.subplots(1, 3, figsize=(14, 5.2), layout="constrained")
    sizes = np.arange(4, 44, 4)
    for (name, s), colour in zip(spectra.items(), ("tab:blue", "crimson"), strict=True):
        # The errors do not depend on the singular vectors.
        a = np.diag(s)
        by_size.semilogy(sizes, s[sizes], color=colour, label=f"best possible, {name}")
        errors, estimates = [], []
        for size in sizes:
            bases = [range_finder(a, size, rng=rng) for _ in range(DRAWS)]
            errors.append([np.linalg.norm(a - q @ (q.T @ a), 2) for q in bases])
            estimates.append([error_estimate(a, q, rng=rng) for q in bases])
        by_size.semilogy(sizes, errors, ".", color=colour, markersize=4)
        by_size.semilogy(sizes, np.median(estimates, axis=1), "--", color=colour, label="estimate (5), median")
    by_size.plot([], [], ".", color="grey", label=f"errors of {DRAWS} draws each")
    by_size.set(xlabel="columns $\\ell$", ylabel="spectral error", title="A range without iterations")

    rank, more, iterations = 10, 5, np.arange(5)
    for (name, s), colour in zip(spectra.items(), ("tab:blue", "crimson"), strict=True):
        a = np.diag(s)
        errors = []
        for t in iterations:
            bases = [range_finder(a, rank + more, n_iterations=t, rng=rng) for _ in range(DRAWS)]
            errors.append([np.linalg.norm(a - q @ (q.T @ a), 2) / s[rank] for q in bases])
        by_iterations.semilogy(iterations, errors, ".", color=colour, markersize=4)
        by_iterations.semilogy(iterations, np.mean(errors, axis=1), color=colour, label=f"mean error, {name}")
        bound = [spectral_error_bound(s, rank, more, t) / s[rank] for t in iterations]
        by_iterations.semilogy(iterations, bound, ":", color=colour, label="the bound (8) on it")
    by_iterations.axhline(1, color="grey", linewidth=0.8)
    by_iterations.set(
        xlabel="power iterations $t$", ylabel="spectral error / $\\sigma_{k+1}$", title=f"$k = {rank}$, $p = {more}$"
    )
    by_iterations.set_xticks(iterations)

    s = 1 / j
    a = np.diag(s)
    ranks = np.arange(2, 32, 3)
    ways = {
        "(4), two passes": lambda k: svd_from_range(a, range_finder(a, 2 * k + 1, rng=rng)),
        "(10), one pass": lambda k: single_pass_svd(np.split(a, 5), k, rng=rng),
    }
    by_pass.axhline(1, color="grey", linewidth=0.8)
    for (name, way), colour in zip(ways.items(), ("tab:green", "tab:orange"), strict=True):
        errors = []
        for k in ranks:
            found = [way(int(k)) for _ in range(DRAWS)]
            errors.append([np.linalg.norm(a - f.u[:, :k] * f.s[:k] @ f.vt[:k], 2) / s[k] for f in found])
        by_pass.plot(ranks, errors, ".", color=colour, markersize=4)
        by_pass.plot(ranks, np.mean(errors, axis=1), color=colour, label=f"mean error, {name}")
    by_pass.set(xlabel="rank $k$", title="Sketches of $2 k + 1$ columns for $\\sigma_j = 1 / j$")
    by_pass.set(ylabel="spectral error / $\\sigma_{k+1}$", ylim=(0.9, None))
    for axes in (by_size, by_iterations, by_pass):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), fontsize=8, ncols=2 if axes is not by_pass else 1)
    return fig
