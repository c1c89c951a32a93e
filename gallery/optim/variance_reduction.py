"""Lines where plain steps stall, the variance that vanishes, and the age of a table."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer

from mlpath.optim._shared import breast_cancer
from mlpath.optim.variance_reduction import (
    averaged_estimates,
    minimize,
    reduced_estimates,
    saga_epoch,
    slopes,
    smoothness,
    snapshot,
    svrg_epoch,
)

RIDGE, EPOCHS = 0.1, 60


def figure() -> Figure:
    """Draw logistic regression on 569 tumours: errors by slopes taken, and what the estimates scatter like."""
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = np.column_stack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones(len(features))])
    rows, problem = (2.0 * labels - 1)[:, None] * features, breast_cancer(ridge=RIDGE)
    rate, n = 1 / (3 * smoothness(rows, RIDGE)), len(rows)
    fig, (errors, scatter) = plt.subplots(1, 2, figsize=(13, 4.8), layout="constrained")

    def off(path: np.ndarray) -> np.ndarray:
        return np.linalg.norm(path - problem.minimum, axis=1)

    for method, passes in (("svrg", 2), ("sag", 1), ("saga", 1)):
        path = minimize(
            rows,
            problem.start,
            method=method,
            ridge=RIDGE,
            step_size=rate,
            rng=np.random.default_rng(0),
            tol=0.0,
            max_iter=EPOCHS // passes,
            record_path=True,
        ).path
        errors.semilogy(passes * np.arange(len(path)), off(path), label=method.upper())
    for label, step_size in (("plain steps of 1/3L", rate), ("plain steps of 1/30L", rate / 10)):
        rng, w, points = np.random.default_rng(0), problem.start, [problem.start]
        for _ in range(EPOCHS):
            for i in rng.integers(n, size=n):
                w = w - step_size * (slopes(rows[i : i + 1], w)[0] * rows[i] + RIDGE * w)
            points.append(w)
        errors.semilogy(off(np.array(points)), ":", label=label)
    w, points = problem.start, [problem.start]
    for _ in range(EPOCHS):
        w = w - problem.grad(w) / problem.smoothness
        points.append(w)
    errors.semilogy(off(np.array(points)), "k--", label="gradient descent, 1/L of the sum")
    errors.set(title="Logistic regression on 569 tumours", xlabel="slopes taken / n", ylabel="‖w − w*‖")
    errors.legend(fontsize=9)

    rng, plain, fresh, mean = np.random.default_rng(1), [], [], []
    svrg = w = problem.start
    table = snapshot(rows, w)
    for _ in range(EPOCHS // 2):
        old, indices = snapshot(rows, svrg), rng.integers(n, size=n)
        plain.append((slopes(rows, w)[:, None] * rows).var(axis=0).sum())
        table, w = saga_epoch(table, rows, w, indices, step_size=rate, ridge=RIDGE)
        svrg = svrg_epoch(rows, svrg, indices, step_size=rate, ridge=RIDGE)
        fresh.append(
            (
                reduced_estimates(table, rows, w, ridge=RIDGE).var(axis=0).sum(),
                reduced_estimates(old, rows, svrg, ridge=RIDGE).var(axis=0).sum(),
            )
        )
        mean.append(averaged_estimates(table, rows, w, ridge=RIDGE).var(axis=0).sum())
    scatter.semilogy(plain, "k:", label="plain gradients")
    scatter.semilogy([pair[0] for pair in fresh], "C2", label="SAGA, (4)")
    scatter.semilogy([pair[1] for pair in fresh], "C0", label="SVRG at the end of an epoch, (4)")
    scatter.semilogy(mean, "C1", label="SAG's with SAGA's table, (5)")
    scatter.set(title="Total variance of the estimates", xlabel="epoch", ylabel="variance over all indices")
    scatter.legend(fontsize=9)
    return fig
