"""The lasso path of 100 penalties down to a hundredth of the largest, beside scikit-learn's compiled one, without intercept:
all duality gaps must be within 2e-5 of the objective at zero.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import sklearn.linear_model

from mlpath.optim.coordinate_descent import duality_gap, lasso_path
from mlpath.workbench.bench import Case


def ours(features, targets, alphas):
    return lasso_path(features, targets, alphas, tol=2e-5).weights


def peer(features, targets, alphas):
    return sklearn.linear_model.lasso_path(features, targets, alphas=alphas, tol=1e-5)[1].T


def check(features, targets, alphas, weights, theirs):
    n_samples = len(targets)
    for name, rows in (("ours", weights), ("scikit-learn's", theirs)):
        for alpha, w in zip(alphas, rows, strict=True):
            residual = targets - features @ w
            _, gap = duality_gap(targets, residual, residual @ features / n_samples, w, l1=alpha)
            assert gap <= 2.01e-5 * (targets @ targets) / (2 * n_samples), f"{name} gap at {alpha} is {gap}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_samples, dim, common in ((200, 50, 0.0), (500, 100, 0.5), (1000, 300, 0.0), (300, 2000, 0.0)):
        features = rng.standard_normal((n_samples, dim)) + common * rng.standard_normal((n_samples, 1))
        targets = features[:, :10] @ rng.standard_normal(10) + rng.standard_normal(n_samples)
        features, targets = np.asfortranarray(features - features.mean(axis=0)), targets - targets.mean()
        top = abs(targets @ features).max() / n_samples
        arguments = (features, targets, np.geomspace(top, top / 100, 100))
        yield Case(
            f"{n_samples} x {dim}{', correlated' if common else ''}",
            ours=partial(ours, *arguments),
            peer_name="sklearn.linear_model.lasso_path",
            peer=partial(peer, *arguments),
            check=partial(check, *arguments),
        )
