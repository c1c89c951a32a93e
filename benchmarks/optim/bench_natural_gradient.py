"""Fisher scoring on logistic regression beside scikit-learn's newton-cholesky; both to the same gradient."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression

from mlpath.optim.natural_gradient import logistic_fisher, minimize
from mlpath.workbench.bench import Case

TOL, RIDGE = 1e-6, 1e-2


def ours(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the weights by the reference."""
    n, dim = features.shape
    pull, ridge = labels @ features / n, RIDGE * np.eye(dim)

    def fun(w: np.ndarray) -> float:
        return float(np.logaddexp(0, features @ w).mean() - pull @ w + RIDGE / 2 * w @ w)

    def grad(w: np.ndarray) -> np.ndarray:
        return features.T @ (1 / (1 + np.exp(-features @ w))) / n - pull + RIDGE * w

    return minimize(fun, grad, lambda w: logistic_fisher(features, w) + ridge, np.zeros(dim), tol=TOL).x


def peer(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return scikit-learn's weights."""
    options = {"solver": "newton-cholesky", "tol": TOL, "C": 1 / (RIDGE * len(features)), "fit_intercept": False}
    return LogisticRegression(**options).fit(features, labels).coef_[0]


def check(x: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both have found the same weights."""
    np.testing.assert_allclose(x, theirs, atol=1e-3)


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_samples, dim in ((570, 31), (20_000, 20)):
        features = rng.standard_normal((n_samples, dim))
        labels = (features @ rng.standard_normal(dim) + rng.logistic(size=n_samples) > 0).astype(float)
        yield Case(
            f"logistic regression, {n_samples} x {dim}",
            ours=partial(ours, features, labels),
            peer_name="scikit-learn, newton-cholesky",
            peer=partial(peer, features, labels),
            check=check,
        )
