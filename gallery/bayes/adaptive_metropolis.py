"""How the steps of an adaptive walk take the shape of its target, and what that is worth."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.adaptive_metropolis import sample_adaptive, sample_robust

COVARIANCE = np.array([[1.0, 2.85], [2.85, 9.0]])


def normal(covariance):
    """The log density of a normal distribution around 0."""
    precision = np.linalg.inv(covariance)
    return lambda x: -((x @ precision) * x).sum(axis=1) / 2


def ellipse(factor):
    """Where the unit circle goes."""
    angle = np.linspace(0, 2 * np.pi, 200)
    return factor @ np.stack([np.cos(angle), np.sin(angle)])


def autocorrelation(draws, lags):
    """Of one coordinate around its known mean 0, over all chains."""
    return [(draws[:, : draws.shape[1] - lag] * draws[:, lag:]).mean() / (draws**2).mean() for lag in lags]


def figure(n_draws: int = 2000) -> Figure:
    """Left: steps after some time. Middle: the rate is coerced. Right: what the shape is worth in ten dimensions."""
    fig, (shapes, rates, speed) = plt.subplots(1, 3, figsize=(13, 4.3), layout="constrained")
    target = normal(COVARIANCE)
    shapes.plot(*ellipse(2 * np.linalg.cholesky(COVARIANCE)), "k", linewidth=1, label="the target, 2 deviations")
    for n, colour in ((5, "tab:blue"), (50, "tab:orange"), (n_draws // 2, "tab:red")):
        run = sample_adaptive(
            target,
            np.zeros((1, 2)),
            n,
            factor=0.5 * np.eye(2),
            n_first=5,
            n_adapt=n,
            rng=np.random.default_rng(2),
        )
        shapes.plot(*ellipse(run.factor[0]), color=colour, label=f"its steps after {n}")
    shapes.set(title="Learning the covariance", xlabel="$x_1$", ylabel="$x_2$", ylim=(-9, 13))
    shapes.legend(fontsize=8, loc="upper left")

    rng = np.random.default_rng(0)
    for scale, colour in ((0.02, "tab:blue"), (1.0, "tab:green"), (50.0, "tab:red")):
        run = sample_robust(
            target,
            np.zeros((300, 2)),
            n_draws // 2,
            factor=scale * np.eye(2),
            n_adapt=n_draws,
            target_rate=0.3,
            rng=rng,
        )
        moved = (np.diff(run.draws, axis=1) != 0).any(axis=2).mean(axis=0)
        smooth = np.convolve(moved, np.ones(20) / 20, mode="valid")
        rates.semilogx(np.arange(20, 20 + len(smooth)), smooth, color=colour, label=f"steps begin at {scale:g}")
    rates.axhline(0.3, color="k", linewidth=1, linestyle=":", label="the rate asked for")
    rates.set(title="Coercing the acceptance rate", xlabel="step", ylabel="share of 300 chains that move", ylim=(0, 1))
    rates.legend(fontsize=8)

    dim = 10
    places = np.arange(dim)
    covariance = 0.9 ** abs(places[:, None] - places) * np.outer(1 + places, 1 + places)
    start = rng.standard_normal((20, dim)) @ np.linalg.cholesky(covariance).T
    first, lags = 0.6 * np.eye(dim), np.arange(0, 300, 5)
    for name, run, n_adapt in (("nothing", sample_robust, 0), ("their covariance", sample_adaptive, 2 * n_draws)):
        extra = {"n_first": 50} if run is sample_adaptive else {}
        found = run(normal(covariance), start, 4 * n_draws, factor=first, n_adapt=n_adapt, rng=rng, **extra)
        speed.plot(lags, autocorrelation(found.draws[:, 2 * n_draws :, -1], lags), label=name)
    found = sample_robust(
        normal(covariance), start, 4 * n_draws, factor=first, n_adapt=2 * n_draws, decay=0.55, rng=rng
    )
    speed.plot(lags, autocorrelation(found.draws[:, 2 * n_draws :, -1], lags), label="their acceptance")
    speed.set(
        title="Ten dimensions, adaptation frozen", xlabel="lag", ylabel="autocorrelation of $x_{10}$", ylim=(-0.1, 1)
    )
    speed.legend(title="steps learnt from", fontsize=8)
    return fig
