"""Ten epochs of logistic regression beside scikit-learn's compiled walk; both must end near the minimum.

scikit-learn makes one step for each sample in C. Here each step goes through Python, some 20 µs of calls for a few hundred
multiplications: with batches of one that is the whole cost, and a ratio far above 4 is to be expected.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier

from mlpath.optim._shared import breast_cancer
from mlpath.optim.sgd import minimize
from mlpath.workbench.bench import Case

RIDGE, STEP = 0.05, 0.005


def cases() -> Iterator[Case]:
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = np.column_stack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones(len(features))])
    rows = (2.0 * labels - 1)[:, None] * features
    problem = breast_cancer(ridge=RIDGE)
    least = problem.fun(problem.minimum)

    def grad(w, indices):
        chosen = rows[indices]
        return RIDGE * w - (1 - np.tanh(chosen @ w / 2)) / 2 @ chosen / len(indices)

    def ours(batch_size, step_size):
        rng = np.random.default_rng(0)
        return minimize(
            problem.fun, grad, problem.start, 569, rng=rng, batch_size=batch_size, step_size=step_size, epochs=10
        ).x

    def peer():
        model = SGDClassifier(
            loss="log_loss",
            alpha=RIDGE,
            fit_intercept=False,
            learning_rate="constant",
            eta0=STEP,
            max_iter=10,
            tol=None,
            random_state=0,
        )
        return model.fit(features, labels).coef_[0]

    def check(mine, theirs):
        for w in (mine, theirs):
            assert problem.fun(w) - least < 2e-3, f"a loss of {problem.fun(w) - least:.2g} above the minimum"

    for batch_size in (1, 8, 32):
        yield Case(
            f"ten epochs on 569 tumours, batches of {batch_size}",
            ours=lambda batch_size=batch_size: ours(batch_size, STEP * batch_size),
            peer_name="sklearn SGDClassifier, single samples",
            peer=peer,
            check=check,
        )
