"""Epochs of SAGA and SAG beside scikit-learn's compiled ones, on the same objective.

Both make so many epochs that they are within 1e-3 of the minimum. A step here goes through Python and NumPy, some microseconds
of calls for a hundred multiplications, so that a ratio far above 4 is to be expected; it falls as rows get longer.
"""

import warnings
from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from mlpath.optim._shared import logistic
from mlpath.optim.variance_reduction import minimize, smoothness
from mlpath.workbench.bench import Case

RIDGE, EPOCHS = 1.0, 15


def ours(rows, method):
    rng = np.random.default_rng(0)
    rate = 1 / (3 * smoothness(rows, RIDGE))
    start = np.zeros(rows.shape[1])
    return minimize(rows, start, method=method, ridge=RIDGE, step_size=rate, rng=rng, tol=0.0, max_iter=EPOCHS).x


def peer(features, signs, method):
    model = LogisticRegression(
        solver=method, C=1 / (RIDGE * len(signs)), fit_intercept=False, tol=1e-30, max_iter=EPOCHS, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, signs).coef_[0]


def near(problem, mine, theirs):
    for w in (mine, theirs):
        assert problem.fun(w) - problem.fun(problem.minimum) < 1e-3, f"{problem.fun(w)} is not near the minimum"


def cases() -> Iterator[Case]:
    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    tumours = (features - features.mean(axis=0)) / features.std(axis=0)
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((500, 1000)) / 10
    for name, features, signs in (
        ("569 tumours, 30 features", tumours, 2.0 * labels - 1),
        ("500 samples, 1000 features", wide, np.sign(wide @ rng.standard_normal(1000))),
    ):
        problem = logistic(features, signs, ridge=RIDGE)
        for method in ("saga", "sag"):
            yield Case(
                f"{method.upper()}, {EPOCHS} epochs, {name}",
                ours=partial(ours, signs[:, None] * features, method),
                peer_name=f"sklearn, solver='{method}'",
                peer=partial(peer, features, signs, method),
                check=partial(near, problem),
            )
