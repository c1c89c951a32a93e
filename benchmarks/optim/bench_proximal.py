"""FISTA with restarts on the lasso beside scikit-learn's coordinate descent, both to a duality gap of 1e-6 of the objective
at zero. The steps are as many as the problem's conditioning asks for: another method, not another implementation.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.linear_model import Lasso

from mlpath.optim.proximal import alpha_max, lasso, lasso_gap
from mlpath.workbench.bench import Case


def ours(features, targets, alpha):
    return lasso(features, targets, alpha, tol=1e-6).x


def peer(features, targets, alpha):
    return Lasso(alpha=alpha, fit_intercept=False, tol=5e-7, max_iter=100_000).fit(features, targets).coef_


def check(features, targets, alpha, weights, theirs):
    allowed = 2e-6 * (targets @ targets) / (2 * len(targets))
    for name, w in (("ours", weights), ("scikit-learn's", theirs)):
        gap = lasso_gap(features, targets, w, alpha)
        assert gap <= allowed, f"{name} gap is {gap}, above {allowed}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_samples, dim in ((100, 20), (500, 200), (300, 2000)):
        features = rng.standard_normal((n_samples, dim))
        targets = features[:, :10] @ rng.standard_normal(10) + rng.standard_normal(n_samples)
        alpha = 0.1 * alpha_max(features, targets)
        yield Case(
            f"{n_samples} x {dim}, alpha_max / 10",
            ours=partial(ours, features, targets, alpha),
            peer_name="sklearn.linear_model.Lasso",
            peer=partial(peer, np.asfortranarray(features), targets, alpha),
            check=partial(check, features, targets, alpha),
        )
