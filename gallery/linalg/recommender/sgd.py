"""How fast epochs come to what sweeps find, when to stop, and what the rate does to someone new."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.recommender import als
from mlpath.linalg.recommender._shared import rmse, simulated_ratings, split
from mlpath.linalg.recommender.sgd import fit, fold_in


def figure(steps: int = 30) -> Figure:
    """Left the objective by epochs and sweeps, in the middle held-out errors and early stopping, right folding in."""
    rng = np.random.default_rng(0)
    known, held_out = split(simulated_ratings(rng, n_users=120, n_items=60, per_user=25.0)[0], rng)
    solved = als.fit(known, 3, reg=0.1, max_sweeps=steps, tol=0, rng=np.random.default_rng(1))
    least = solved.objective[-1]

    fig, (falls, errors, new) = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    falls.plot(solved.objective / least, "k.-", label="alternating least squares")
    for rate, colour in ((0.02, "tab:blue"), (0.05, "tab:green"), (0.15, "tab:orange")):
        for decay, line in ((0.0, ":"), (0.05, "-")):
            options = {"reg": 0.1, "rate": rate, "decay": decay, "batch_size": 50}
            found = fit(known, held_out, 3, **options, max_epochs=steps, patience=steps, rng=np.random.default_rng(1))
            label = rf"$\eta_0 = {rate}$" if decay > 0 else None
            falls.plot(found.objective / least, line, color=colour, label=label)
    falls.set(
        xlabel="epochs, or sweeps",
        ylabel="objective, of the least",
        title="Batches of 50; rate fixed (dotted) or falling",
    )
    falls.legend()

    for reg, colour in ((0.0, "tab:red"), (0.03, "tab:orange"), (0.1, "tab:blue")):
        options = {"reg": reg, "rate": 0.05, "batch_size": 40}
        found = fit(known, held_out, 6, **options, max_epochs=steps, patience=steps, rng=np.random.default_rng(1))
        errors.plot(found.held_out_rmse, color=colour, label=rf"$\lambda = {reg}$")
        errors.plot(found.best_epoch, found.held_out_rmse[found.best_epoch], "o", color=colour)
    base = rmse(als.baseline(known), held_out)
    errors.axhline(base, color="grey", linestyle="--", label="baseline")
    errors.set(
        xlabel="epochs", ylabel="held-out root mean squared error, stars", title="Six factors: the best epoch (dots)"
    )
    errors.legend()

    mine = known.users == np.argsort(np.bincount(known.users))[-20]
    items, values = known.items[mine], known.values[mine]
    ridge = np.append(*als.fold_in(solved.model, items, values, 0.1))
    counts = np.unique(np.geomspace(1, 2 * steps, 8).round().astype(int))
    for rate, decay, colour in ((0.1, 0.0, "tab:red"), (0.02, 0.0, "tab:orange"), (0.1, 0.2, "tab:blue")):
        away = []
        for n_epochs in counts:
            runs = (
                fold_in(
                    solved.model,
                    items,
                    values,
                    reg=0.1,
                    rate=rate,
                    decay=decay,
                    n_epochs=int(n_epochs),
                    rng=np.random.default_rng(s),
                )
                for s in range(2)
            )
            away.append(np.mean([np.linalg.norm(np.append(*run) - ridge) for run in runs]))
        new.loglog(counts, away, ".-", color=colour, label=rf"$\eta_0 = {rate}$, $d = {decay}$")
    new.set(
        xlabel="epochs",
        ylabel="distance from the ridge regression",
        title=f"Folding in someone with {len(items)} ratings",
    )
    new.legend()
    return fig
