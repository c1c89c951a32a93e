"""Held-out error by the number of factors and the penalty, the fall of the objective, and lists judged in two ways."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.recommender._shared import Model, rmse, simulated_ratings, split
from mlpath.linalg.recommender.als import baseline, fit, ranking_quality, recommend


def figure(steps: int = 12) -> Figure:
    """Left errors on known and held-out ratings, in the middle the objective, right the precision of lists of ten."""
    rng = np.random.default_rng(0)
    ratings, scores = simulated_ratings(rng, n_users=300, n_items=200, per_user=40.0)
    known, held_out = split(ratings, rng)
    base = baseline(known)

    fig, (errors, falls, lists) = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    ranks = (1, 2, 3, 5, 8)
    for reg, colour in ((0.01, "tab:red"), (0.05, "tab:orange"), (0.2, "tab:blue")):
        fits = [fit(known, k, reg=reg, max_sweeps=steps, rng=np.random.default_rng(1)) for k in ranks]
        errors.plot(
            ranks, [rmse(f.model, held_out) for f in fits], "o-", color=colour, label=rf"held out, $\lambda = {reg}$"
        )
        errors.plot(ranks, [rmse(f.model, known) for f in fits], "o:", color=colour, alpha=0.6)
        falls.plot(fits[2].objective / fits[2].objective[0], ".-", color=colour, label=rf"$\lambda = {reg}$")
    errors.axhline(rmse(base, held_out), color="grey", linestyle="--", label="baseline, held out")
    errors.set(
        xlabel="factors $k$",
        ylabel="root mean squared error, stars",
        title="Known (dotted) and held-out ratings",
        ylim=(0, 0.9),
    )
    errors.legend(fontsize=9)
    falls.set(xlabel="sweep", ylabel="objective (3), of its start", title="Three factors: no sweep raises it", ylim=0)
    falls.legend()

    best = fit(known, 3, reg=0.05, max_sweeps=steps, rng=np.random.default_rng(1)).model
    counts = np.bincount(known.items, minlength=known.n_items).astype(float)
    nobody, nothing = np.zeros((known.n_users, 0)), np.zeros((known.n_items, 0))
    popular = Model(0.0, np.zeros(known.n_users), counts, nobody, nothing)
    names = {"three factors": best, "baseline": base, "most popular": popular}
    by_truth: dict[str, list[float]] = {name: [] for name in names}
    by_held: dict[str, list[float]] = {name: [] for name in names}
    for u in range(known.n_users):
        rated = known.items[known.users == u]
        left = np.setdiff1d(np.arange(known.n_items), rated)
        favourites = left[np.argsort(-scores[u, left])[:10]]
        liked = held_out.items[(held_out.users == u) & (held_out.values >= 4)]
        for name, model in names.items():
            found = recommend(model, u, rated, 10)
            by_truth[name].append(ranking_quality(found, favourites).precision)
            if len(liked):
                by_held[name].append(ranking_quality(found, liked).precision)
    places = np.arange(len(names))
    for shift, label, values in ((-0.2, "true favourites", by_truth), (0.2, "held-out 4 and 5 stars", by_held)):
        means = [float(np.mean(values[name])) for name in names]
        bars = lists.bar(places + shift, means, 0.4, label=label)
        lists.bar_label(bars, [f"{mean:.0%}" for mean in means])
    lists.set_xticks(places, list(names))
    lists.set(ylabel="precision of lists of ten", title="What is held out is not missing by chance")
    lists.legend()
    return fig
