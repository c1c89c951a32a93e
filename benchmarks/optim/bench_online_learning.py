"""AdaBoost with stumps beside scikit-learn's with trees of depth 1: as many rules, and a training error that is not larger by
more than 3 %. The weak learners differ in their criterion (weighted error there, Gini's impurity here), not in their sort.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from mlpath.optim.online_learning import Boosted, adaboost, margins
from mlpath.workbench.bench import Case


def ours(features, labels, n_rounds):
    return adaboost(features, labels, n_rounds)


def peer(features, labels, n_rounds):
    return AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=n_rounds).fit(features, labels)


def wrong(features, labels, model):
    if isinstance(model, Boosted):
        return float((margins(model, features, labels) <= 0).mean()), len(model.rules)
    return float((model.predict(features) != labels).mean()), len(model.estimators_)


def check(features, labels, n_rounds, found, theirs):
    (share, n_rules), (allowed, _) = wrong(features, labels, found), wrong(features, labels, theirs)
    assert n_rules == n_rounds, f"{n_rules} rules instead of {n_rounds}"
    assert share <= allowed + 0.03, f"a training error of {share}, above {allowed + 0.03}"


def cases() -> Iterator[Case]:
    tumours, sick = map(np.asarray, load_breast_cancer(return_X_y=True))
    rng = np.random.default_rng(0)
    drawn = rng.standard_normal((4000, 20))
    signs = np.where((drawn[:, :10] ** 2).sum(axis=1) > 9.34, 1.0, -1.0)
    for name, features, labels, n_rounds in (
        ("breast cancer, 50 rules", tumours, 2.0 * sick - 1, 50),
        ("4000 x 20, 100 rules", drawn, signs, 100),
    ):
        yield Case(
            name,
            ours=partial(ours, features, labels, n_rounds),
            peer_name="sklearn.ensemble.AdaBoostClassifier",
            peer=partial(peer, features, labels, n_rounds),
            check=partial(check, features, labels, n_rounds),
        )
