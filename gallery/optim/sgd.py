"""The noise floor measured and predicted, what averages reach, and what reshuffling gains."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer

from mlpath.optim._shared import breast_cancer
from mlpath.optim.sgd import EMAState, ema_step, minimize, noise_covariance, stationary_covariance

RIDGE = 0.05


def figure() -> Figure:
    """Draw walks of logistic regression on 569 tumours, each from its minimum or from zero."""
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = np.column_stack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones(len(features))])
    rows = (2.0 * labels - 1)[:, None] * features
    problem = breast_cancer(ridge=RIDGE)
    least = problem.fun(problem.minimum)

    def single(w: np.ndarray, indices: np.ndarray) -> np.ndarray:
        chosen = rows[indices]
        return RIDGE * w - (1 - np.tanh(chosen @ w / 2))[:, None] / 2 * chosen

    def grad(w: np.ndarray, indices: np.ndarray) -> np.ndarray:
        return single(w, indices).mean(axis=0)

    walk = partial(minimize, problem.fun, grad, n_samples=len(rows), record_path=True)
    fig, (floors, averages, shuffles) = plt.subplots(1, 3, figsize=(16, 4.8), layout="constrained")

    noise = noise_covariance(single(problem.minimum, np.arange(len(rows))), 8, replace=True)
    steps = np.geomspace(1e-2, 0.3, 6)
    predicted = [np.trace(problem.hessian @ stationary_covariance(problem.hessian, noise, a)) / 2 for a in steps]
    measured = []
    for a in steps:
        path = walk(
            start=problem.minimum, batch_size=8, step_size=a, replace=True, epochs=60, rng=np.random.default_rng(0)
        ).path
        measured.append(np.mean([problem.fun(w) for w in path[2000::8]]) - least)
    floors.loglog(steps, predicted, "k--", label="predicted, ½ tr(H Σ)")
    floors.loglog(steps, measured, "o", label="mean of 2,300 steps, batches of 8")
    floors.set(title="The floor of constant steps", xlabel="step size a", ylabel="f − f*")
    floors.legend(fontsize=9)

    path = walk(start=problem.start, batch_size=8, step_size=0.1, epochs=30, rng=np.random.default_rng(1)).path
    every = np.unique(np.geomspace(1, len(path) - 1, 150).astype(int))
    means = np.cumsum(path[1:], axis=0) / np.arange(1, len(path))[:, None]
    state, smooth = EMAState(0, np.zeros_like(problem.start)), []
    for w in path[1:]:
        state, corrected = ema_step(state, w, 0.98)
        smooth.append(corrected)
    late = [path[1 + t // 2 : t + 1].mean(axis=0) for t in every]
    for label, points in (
        ("last point", path[every]),
        ("mean of all", means[every - 1]),
        ("mean of the later half", late),
        ("exponential average, β = 0.98", np.array(smooth)[every - 1]),
    ):
        averages.loglog(every, [problem.fun(w) - least for w in points], label=label)
    averages.set(title="Averages over one walk, a = 0.1", xlabel="step t", ylabel="f − f*")
    averages.legend(fontsize=9)

    for replace, colour in ((True, "C3"), (False, "C0")):
        for a, style in ((0.05, "-"), (0.005, "--")):
            path = walk(
                start=problem.minimum,
                batch_size=8,
                step_size=a,
                replace=replace,
                epochs=30,
                rng=np.random.default_rng(2),
            ).path
            losses = [problem.fun(w) - least for w in path[72::72]]
            name = "with replacement" if replace else "reshuffled"
            shuffles.semilogy(np.arange(1, 31), losses, style, color=colour, label=f"{name}, a = {a}")
    shuffles.set(title="After each epoch, from the minimum", xlabel="epoch", ylabel="f − f*")
    shuffles.set_ylim(1e-8, None)
    shuffles.legend(fontsize=9, loc="lower right")
    return fig
