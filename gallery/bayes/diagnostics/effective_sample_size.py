"""What correlation costs: autocorrelations of three chains, sample sizes that grow with the run, and errors that are right."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.diagnostics.effective_sample_size import autocorrelation, bulk_ess, mcse, tail_ess


def autoregression(rng, phi, n_chains, n_draws):
    """Stationary chains of variance 1."""
    x = rng.standard_normal((n_chains, n_draws))
    for t in range(1, n_draws):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * x[:, t]
    return x


def figure(n_draws: int = 2000) -> Figure:
    """Left: autocorrelations. Middle: sample sizes as the run goes on. Right: means over errors, of many short runs."""
    rng = np.random.default_rng(3)
    fig = plt.figure(figsize=(13, 4), layout="constrained")
    lags, sizes, errors = fig.subplots(1, 3)
    for phi, colour in ((0.9, "tab:red"), (0.5, "tab:blue"), (-0.4, "tab:green")):
        draws = autoregression(rng, phi, 4, n_draws)
        t = np.arange(31)
        lags.plot(t, autocorrelation(draws)[:31], "o", markersize=3, color=colour, label=f"$\\varphi$ = {phi}")
        lags.plot(t, phi**t, color=colour, linewidth=0.8)
        ends = np.unique(np.geomspace(25, n_draws, 14).astype(int))
        sizes.loglog(4 * ends, [bulk_ess(draws[:, :n]) for n in ends], "o-", markersize=3, color=colour, linewidth=0.8)
        sizes.loglog(4 * ends, [tail_ess(draws[:, :n]) for n in ends], "s:", markersize=3, color=colour, linewidth=0.8)
        sizes.loglog(4 * ends, 4 * ends * (1 - phi) / (1 + phi), color=colour, alpha=0.4, linewidth=3)
        runs = autoregression(rng, phi, 4 * 300, 250).reshape(300, 4, 250)
        z = np.sort([run.mean() / mcse(run)[0] for run in runs])
        errors.step(z, (np.arange(300) + 0.5) / 300, color=colour, linewidth=1)
    lags.axhline(0, color="k", linewidth=0.5)
    lags.set(xlabel="lag", ylabel="autocorrelation", title="Autocorrelation: estimates, and $\\varphi^t$")
    lags.legend(frameon=False)
    sizes.plot([], [], "ko-", markersize=3, label="bulk")
    sizes.plot([], [], "ks:", markersize=3, label="tail")
    sizes.plot([], [], "k", linewidth=3, alpha=0.4, label="exact, for the mean")
    sizes.set(
        xlabel="draws of all four chains", ylabel="effective sample size", title="Sample size while the run goes on"
    )
    sizes.legend(frameon=False)
    z = np.linspace(-3.5, 3.5, 200)
    normal = np.cumsum(np.exp(-(z**2) / 2))
    errors.plot(z, normal / normal[-1], "k", linewidth=0.8, label="standard normal")
    errors.set(xlabel="mean of a run over its MCSE", ylabel="share of 300 runs below", title="Are the errors right?")
    errors.legend(frameon=False)
    return fig
