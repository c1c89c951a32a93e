"""The lasso by ADMM beside scikit-learn's coordinate descent, both to a duality gap of 1e-5 of the objective at zero: another
method, which factors a matrix once and does not care how many weights are zero.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.linear_model import Lasso

from mlpath.optim.admm import lasso
from mlpath.optim.proximal import alpha_max, lasso_gap
from mlpath.workbench.bench import Case


def ours(features, targets, alpha):
    return lasso(features, targets, alpha, eps_rel=3e-6).z


def peer(features, targets, alpha):
    return Lasso(alpha=alpha, fit_intercept=False, tol=5e-6, max_iter=100_000).fit(features, targets).coef_


def check(features, targets, alpha, weights, theirs):
    allowed = 1e-5 * (targets @ targets) / (2 * len(targets))
    gap = lasso_gap(features, targets, weights, alpha)
    assert gap <= allowed, f"a gap of {gap}, above {allowed}"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n_samples, dim, common in ((500, 200, 0.0), (500, 200, 2.0), (300, 2000, 0.0), (200, 400, 2.0)):
        features = rng.standard_normal((n_samples, dim)) + common * rng.standard_normal((n_samples, 1))
        targets = features[:, :10] @ rng.standard_normal(10) + rng.standard_normal(n_samples)
        alpha = 0.01 * alpha_max(features, targets)
        yield Case(
            f"{n_samples} x {dim}{', correlated' if common else ''}",
            ours=partial(ours, features, targets, alpha),
            peer_name="sklearn.linear_model.Lasso",
            peer=partial(peer, np.asfortranarray(features), targets, alpha),
            check=partial(check, features, targets, alpha),
        )
