"""Shared tests of bayes/gibbs/mixture: run on the reference, and on the learner's file.

The labels of a handful of points are enumerated. Chance enters through checks that a right solution fails with a probability of
1e-8 each, over independent chains, whatever the order of its random numbers: some 30 of them, 3e-7 together.
"""

from itertools import product

import numpy as np
import pytest
from scipy import special, stats
from sklearn.datasets import load_iris

from mlpath.bayes.gibbs.mixture import (
    Groups,
    Prior,
    co_clustering,
    collapsed_sweep,
    draw_labels,
    draw_parameters,
    log_joint,
    log_predictive,
    posterior,
    sample,
    statistics,
)
from mlpath.testing import assert_close, assert_distribution, assert_frequencies, assert_frequency, assert_mean

N = 20_000
PRIOR = Prior(n_components=3, concentration=0.7, mean=1.5, strength=0.4, shape=2.5, rate=1.2)
X = np.array([0.3, 2.9, -1.1, 4.0, 2.2])


@pytest.fixture
def rng():
    return np.random.default_rng(20250205)


def all_labels(n_points, n_components):
    return np.array(list(product(range(n_components), repeat=n_points)))


def group_log_evidence(points, prior):
    """The log density of a group's points without parameters: a multivariate t distribution, by SciPy."""
    n = len(points)
    if n == 0:
        return 0.0
    scale = prior.rate / prior.shape * (np.eye(n) + np.ones((n, n)) / prior.strength)
    law = stats.multivariate_t(np.full(n, prior.mean), scale, df=2 * prior.shape)
    return law.logpdf(points)


def joint_by_hand(x, labels, prior):
    """Points by multivariate t distributions, labels by Polya's urn."""
    total, seen = 0.0, np.zeros(prior.n_components)
    for label in labels:
        alpha = prior.concentration
        total += np.log((alpha + seen[label]) / (alpha * prior.n_components + seen.sum()))
        seen[label] += 1
    return total + sum(group_log_evidence(x[labels == k], prior) for k in range(prior.n_components))


def exact(x, prior):
    """All labels of a few points, and their posterior probabilities."""
    labels = all_labels(len(x), prior.n_components)
    log_p = np.array([joint_by_hand(x, z, prior) for z in labels])
    p = np.exp(log_p - log_p.max())
    return labels, p / p.sum()


def number_of(labels, n_components):
    return labels @ n_components ** np.arange(labels.shape[1])[::-1]


# Prior, which is given


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_components", 0),
        ("concentration", 0.0),
        ("mean", np.nan),
        ("strength", -1.0),
        ("shape", np.inf),
        ("rate", 0.0),
    ],
)
def test_prior_refuses_what_is_no_prior(name, value):
    arguments = {"n_components": 2, "concentration": 1.0, "mean": 0.0, "strength": 1.0, "shape": 1.0, "rate": 1.0}
    with pytest.raises(ValueError, match=f"{name} must"):
        Prior(**arguments | {name: value})


# statistics


def test_statistics_of_five_points():
    found = statistics(X, np.array([[2, 0, 2, 0, 0]]), PRIOR)
    # Around 1.5: -1.2, 1.4, -2.6, 2.5, 0.7.
    expected = np.array([[[3, 4.6, 8.7], [0, 0, 0], [2, -3.8, 8.2]]])
    assert_close(found, expected, f"statistics({X.tolist()}, [[2, 0, 2, 0, 0]], mean 1.5)", "equation (3)", atol=1e-12)


def test_statistics_of_each_chain_by_itself(rng):
    x, labels = rng.normal(3, 2, 30), rng.integers(3, size=(7, 30))
    found = statistics(x, labels, PRIOR)
    expected = np.array(
        [[[len(d := x[z == k] - 1.5), d.sum(), (d**2).sum()] for k in range(3)] for z in labels], dtype=float
    )
    assert_close(found, expected, "statistics(30 points, labels of 7 chains)", "equation (3)", atol=1e-10)


def test_statistics_changes_none_of_its_arguments():
    x, labels = X.copy(), np.array([[2, 0, 2, 0, 0]])
    statistics(x, labels, PRIOR)
    assert (x == X).all(), "statistics changed its argument x"
    assert (labels == [2, 0, 2, 0, 0]).all(), "statistics changed its argument labels"


@pytest.mark.given
@pytest.mark.parametrize(
    ("x", "labels", "name"),
    [
        (np.array([1.0, np.nan]), np.array([[0, 0]]), "x"),
        (np.array([[1.0, 2.0]]), np.array([[0, 0]]), "x"),
        (np.zeros(0), np.zeros((1, 0), int), "x"),
        (np.zeros(2), np.array([[0, 3]]), "labels"),
        (np.zeros(2), np.array([[-1, 0]]), "labels"),
        (np.zeros(2), np.array([0, 0]), "labels"),
        (np.zeros(2), np.array([[0, 0, 0]]), "labels"),
    ],
)
def test_statistics_refuses_points_and_labels_that_are_none(x, labels, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        statistics(x, labels, PRIOR)


# posterior

# Of the labels (2, 0, 2, 0, 0) and (1, 1, 0, 1, 1).
SUMS = np.array([[[3, 4.6, 8.7], [0, 0, 0], [2, -3.8, 8.2]], [[1, -2.6, 6.76], [4, 3.4, 10.14], [0, 0, 0]]])


def test_posterior_of_two_groups():
    prior = Prior(n_components=2, concentration=1.0, mean=-1.0, strength=3.0, shape=1.5, rate=0.5)
    # kappa' = 5, m' = -1 + 10 / 5, a' = 2.5, b' = 0.5 + (30 - 100 / 5) / 2; and an empty group.
    found = posterior(np.array([[[2.0, 10.0, 30.0], [0, 0, 0]]]), prior)
    expected = [[[1, -1]], [[5, 3]], [[2.5, 1.5]], [[5.5, 0.5]]]
    for name, value, right in zip(("mean", "strength", "shape", "rate"), found, expected, strict=True):
        assert_close(
            value, np.array(right, float), f"the {name} of posterior([[2, 10, 30], [0, 0, 0]])", "equation (4)"
        )


def test_posterior_is_prior_times_likelihood():
    mean, strength, shape, rate = (value[0, 0] for value in posterior(SUMS, PRIOR))
    points = X[[1, 3, 4]]

    def log_density(mu, variance, m, kappa, a, b):
        law = stats.invgamma(a, scale=b).logpdf(variance)
        return law + stats.norm(m, np.sqrt(variance / kappa)).logpdf(mu)

    places = [(0.0, 1.0), (2.0, 0.3), (-1.0, 4.0), (5.0, 2.0)]
    gap = []
    for mu, variance in places:
        before = log_density(mu, variance, 1.5, 0.4, 2.5, 1.2) + stats.norm(mu, np.sqrt(variance)).logpdf(points).sum()
        gap.append(log_density(mu, variance, mean, strength, shape, rate) - before)
    call = "log posterior minus log prior and log likelihood, at four places,"
    assert_close(np.array(gap), np.full(4, gap[0]), call, "one constant", rtol=1e-7)


def test_posterior_leaves_its_sums_alone():
    sums = SUMS.copy()
    posterior(sums, PRIOR)
    assert np.array_equal(sums, SUMS), "posterior changed its argument sums"


# log_joint


def test_log_joint_of_one_point_is_a_t_distribution():
    prior = Prior(n_components=4, concentration=0.3, mean=1.0, strength=2.0, shape=3.0, rate=1.5)
    found = log_joint(np.array([2.5]), np.array([[0], [3]]), prior)
    expected = stats.t(6, 1.0, np.sqrt(1.5 / 3 * 1.5)).logpdf(2.5) - np.log(4)
    assert_close(
        found, np.full(2, expected), "log_joint([2.5], one label of four)", "a t law, and a quarter", rtol=1e-9
    )


def test_log_joint_agrees_with_multivariate_t_distributions_and_an_urn(rng):
    labels = rng.integers(3, size=(8, 5))
    labels[0], labels[1] = [0, 1, 2, 0, 1], [1, 1, 1, 1, 1]
    found = log_joint(X, labels, PRIOR)
    expected = np.array([joint_by_hand(X, z, PRIOR) for z in labels])
    assert_close(found, expected, "log_joint(five points, labels of 8 chains)", "equations (5) and (6)", rtol=1e-8)


def test_log_joint_of_labels_sums_to_one_without_points():
    # Points at the mean with a prior of infinite strength and shape know nothing: what is left is (6).
    prior = Prior(n_components=3, concentration=0.7, mean=0.0, strength=1e9, shape=1e8, rate=1e8)
    labels = all_labels(4, 3)
    found = np.exp(log_joint(np.zeros(4), labels, prior) + 2 * np.log(2 * np.pi))
    call = "the sum of exp(log_joint) over all labels, of points that say nothing,"
    assert_close(found.sum(), 1.0, call, "equation (6)", rtol=1e-5)


def test_log_joint_does_not_look_at_the_numbers_of_the_groups():
    labels = np.array([[0, 1, 2, 1, 0], [2, 0, 1, 0, 2], [1, 2, 0, 2, 1]])
    found = log_joint(X, labels, PRIOR)
    assert_close(found, np.full(3, found[0]), "log_joint of one grouping numbered three ways", "each other", rtol=1e-9)


# log_predictive


def test_log_predictive_of_an_empty_group_is_the_prior_predictive():
    found = log_predictive(2.0, np.zeros((1, 3, 3)), PRIOR)
    expected = stats.t(5.0, 1.5, np.sqrt(1.2 * 1.4 / (2.5 * 0.4))).logpdf(2.0)
    assert_close(found, np.full((1, 3), expected), "log_predictive(2, empty groups)", "equation (9)", rtol=1e-9)


@pytest.mark.parametrize("point", [-2.0, 1.7, 30.0])
def test_log_predictive_is_the_ratio_of_two_evidences(point):
    found = log_predictive(point, SUMS, PRIOR)
    groups = [[[1, 3, 4], [], [0, 2]], [[2], [0, 1, 3, 4], []]]
    expected = [
        [group_log_evidence(np.append(X[group], point), PRIOR) - group_log_evidence(X[group], PRIOR) for group in chain]
        for chain in groups
    ]
    call = f"log_predictive({point}, sums of two chains)"
    assert_close(found, np.array(expected), call, "(5) with the point over (5) without", rtol=1e-8)


def test_log_predictive_integrates_to_one():
    places = np.sinh(np.linspace(-7, 7, 401))
    density = np.array([np.exp(log_predictive(float(x), SUMS[:1], PRIOR)[0]) for x in places])
    total = np.trapezoid(density, places, axis=0)
    assert_close(total, np.ones(3), "the integral of exp(log_predictive)", "a density", rtol=1e-3)


@pytest.mark.filterwarnings("error")
def test_log_predictive_of_a_point_far_away_is_finite():
    found = log_predictive(1e100, SUMS, PRIOR)
    assert np.isfinite(found).all(), f"log_predictive(1e100, ...) returned {found}"


def test_log_predictive_of_a_group_of_four_hundred_points_is_finite():
    y = X.mean() + np.sin(np.arange(400.0))
    off = y - PRIOR.mean
    sums = np.array([[[len(y), off.sum(), (off**2).sum()]]])
    expected = group_log_evidence(np.append(y, 1.5), PRIOR) - group_log_evidence(y, PRIOR)
    call = "log_predictive(1.5, the sums of a group of 400)"
    assert_close(
        log_predictive(1.5, sums, PRIOR), np.array([[expected]]), call, "(5) with the point over (5)", rtol=1e-6
    )


# draw_parameters


@pytest.fixture(scope="module")
def parameters():
    return draw_parameters(np.repeat(SUMS[:1], N, axis=0), PRIOR, rng=np.random.default_rng(11))


def test_draw_parameters_concentrates_where_there_are_many_points(rng):
    sums = 1e8 * np.array([[[3, 6, 15], [1, 5, 29], [4, -4, 12]], [[1, 0, 9], [1, 1, 2], [2, 0, 1]]])
    found = draw_parameters(sums, PRIOR, rng=rng)
    share, means = sums[:, :, 0] / sums[:, :, 0].sum(axis=1, keepdims=True), sums[:, :, 1] / sums[:, :, 0]
    variances = sums[:, :, 2] / sums[:, :, 0] - means**2
    # Their posterior is narrower than 1e-3 by far.
    call = "of draw_parameters(sums of 1e8 points and more)"
    assert_close(found.weights, share, f"weights {call}", "N_k / n", rtol=5e-3)
    assert_close(found.means, 1.5 + means, f"means {call}", "the means of the groups", rtol=5e-3)
    assert_close(found.variances, variances, f"variances {call}", "those of the groups", rtol=5e-3)


def test_draw_parameters_draws_weights_that_sum_to_one(parameters):
    assert (parameters.weights >= 0).all(), "draw_parameters drew a negative weight"
    total = parameters.weights.sum(axis=1)
    assert_close(total, np.ones(N), "the sums of the weights of draw_parameters", "the Dirichlet law", rtol=1e-9)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_draw_parameters_draws_weights_from_a_dirichlet_law(k, parameters):
    n = (3, 0, 2)[k]
    law = stats.beta(0.7 + n, 2.1 + 5 - 0.7 - n)
    call = f"the weight of group {k}, which has {n} of 5 points,"
    assert_distribution(parameters.weights[:, k], law, call, "Dirichlet with alpha + N")


@pytest.mark.parametrize("k", [0, 1, 2])
def test_draw_parameters_draws_variances_from_an_inverse_gamma_law(k, parameters):
    d = (X - 1.5)[[[1, 3, 4], [], [0, 2]][k]]
    kappa = 0.4 + len(d)
    law = stats.invgamma(2.5 + len(d) / 2, scale=1.2 + ((d**2).sum() - d.sum() ** 2 / kappa) / 2)
    call = f"the variance of group {k}, which has {len(d)} points,"
    assert_distribution(parameters.variances[:, k], law, call, "equation (4)")


@pytest.mark.parametrize("k", [0, 1, 2])
def test_draw_parameters_draws_means_given_their_variances(k, parameters):
    d = (X - 1.5)[[[1, 3, 4], [], [0, 2]][k]]
    kappa = 0.4 + len(d)
    z = (parameters.means[:, k] - 1.5 - d.sum() / kappa) / np.sqrt(parameters.variances[:, k] / kappa)
    call = f"the mean of group {k}, less m', over the root of its variance over kappa',"
    assert_distribution(z, stats.norm(), call, "equations (2) and (4)")


def test_draw_parameters_draws_every_group_and_chain_by_itself(parameters):
    for name in ("weights", "means", "variances"):
        values = getattr(parameters, name)
        assert len(np.unique(values[:, 0])) > N - 5, f"{name} of draw_parameters are the same in several chains"
    # In ranks, so that heavy tails do not matter; the groups are independent.
    u = (stats.rankdata(parameters.variances, axis=0) - 0.5) / N - 0.5
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        call = f"variances of groups {i} and {j} that are both above or below their medians"
        assert_frequency(np.count_nonzero(u[:, i] * u[:, j] > 0), N, 0.5, call, "independence")


def test_draw_parameters_leaves_its_sums_alone(rng):
    sums = SUMS.copy()
    draw_parameters(sums, PRIOR, rng=rng)
    assert np.array_equal(sums, SUMS), "draw_parameters changed its argument sums"


# draw_labels


def many(weights, means, variances):
    return Groups(*(np.tile(np.array(v, float), (N, 1)) for v in (weights, means, variances)))


def test_draw_labels_has_the_probabilities_of_equation_7(rng):
    weights, means, variances = [0.5, 0.2, 0.3], [0.0, 1.0, 3.0], [1.0, 0.25, 9.0]
    x = np.array([0.4, 2.5, -3.0])
    found = draw_labels(x, many(weights, means, variances), rng=rng)
    for i in range(3):
        p = np.array(weights) * stats.norm(means, np.sqrt(variances)).pdf(x[i])
        counts = np.bincount(found[:, i], minlength=3)
        assert_frequencies(counts, p / p.sum(), f"labels that draw_labels gives to {x[i]}", "equation (7)")


def test_draw_labels_uses_the_parameters_of_each_chain(rng):
    found = draw_labels(
        np.array([0.0, 10.0, 20.0]),
        Groups(
            np.full((3, 3), 1 / 3),
            np.array([[0.0, 10.0, 20.0], [20.0, 0.0, 10.0], [10.0, 20.0, 0.0]]),
            np.full((3, 3), 1e-4),
        ),
        rng=rng,
    )
    expected = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    assert_close(found, expected, "draw_labels([0, 10, 20], means in three orders)", "equation (7)")


@pytest.mark.filterwarnings("error")
def test_draw_labels_of_a_point_far_from_everything(rng):
    p = Groups(np.array([[0.6, 0.4]]), np.array([[0.0, 10.0]]), np.array([[0.01, 0.01]]))
    found = draw_labels(np.array([1000.0, -1000.0]), p, rng=rng)
    assert_close(
        found, np.array([[1, 0]]), "draw_labels([1000, -1000], means 0 and 10, variances 0.01)", "equation (7)"
    )


@pytest.mark.filterwarnings("error")
def test_draw_labels_gives_no_point_to_a_group_of_weight_zero(rng):
    found = draw_labels(np.array([0.1, 0.2]), many([0.0, 1.0], [0.0, 0.5], [1.0, 1.0]), rng=rng)
    assert (found == 1).all(), f"draw_labels gave {np.mean(found == 0):.0%} of the points to a group of weight 0"


def test_draw_labels_draws_points_and_chains_by_themselves(rng):
    found = draw_labels(np.array([0.5, 0.5]), many([0.5, 0.5], [0.0, 1.0], [1.0, 1.0]), rng=rng)
    same = np.count_nonzero(found[:, 0] == found[:, 1])
    assert_frequency(
        same, N, 0.5, "chains in which two equal points get the same label", "independence given parameters"
    )
    same = np.count_nonzero(found[::2, 0] == found[1::2, 0])
    assert_frequency(same, N // 2, 0.5, "pairs of chains with the same label of a point", "independence")


@pytest.mark.given
def test_draw_labels_refuses_points_that_are_none(rng):
    with pytest.raises(ValueError, match="x must"):
        draw_labels(np.array([np.inf]), many([1.0], [0.0], [1.0]), rng=rng)


# collapsed_sweep

SMALL = Prior(n_components=2, concentration=0.8, mean=1.0, strength=0.5, shape=2.0, rate=0.7)
FOUR = np.array([0.1, 2.4, 0.9, 2.9])


@pytest.mark.parametrize("start", [[0, 0, 0, 0], [0, 1, 1, 0]])
def test_collapsed_sweep_draws_each_label_given_all_the_others(start, rng):
    p = exact(FOUR, SMALL)[1]
    kernel = np.eye(16)
    for i in range(4):
        bit = 2 ** (3 - i)
        number = np.arange(16)
        one = p[number | bit] / (p[number | bit] + p[number & ~bit])
        update = np.zeros((16, 16))
        update[number, number | bit], update[number, number & ~bit] = one, 1 - one
        kernel = kernel @ update
    found = collapsed_sweep(FOUR, np.tile(start, (N, 1)), SMALL, rng=rng)
    counts = np.bincount(number_of(found, 2), minlength=16)
    call = f"labels after collapsed_sweep(four points, {start})"
    assert_frequencies(
        counts, kernel[number_of(np.array([start]), 2)[0]], call, "(8), from the first point to the last"
    )


def test_collapsed_sweep_weighs_the_groups_by_their_sizes_without_the_point(rng):
    p = exact(FOUR, SMALL)[1]
    found = collapsed_sweep(FOUR, np.tile([0, 1, 1, 0], (N, 1)), SMALL, rng=rng)[:, 0]
    # The labels 0110 and 1110 have the numbers 6 and 14.
    call = "chains whose first label is 1 after collapsed_sweep(four points, [0, 1, 1, 0])"
    assert_frequency(np.count_nonzero(found), N, p[14] / (p[6] + p[14]), call, "equation (8)")


def test_collapsed_sweep_draws(rng):
    start = np.zeros((1, 4), int)
    found = [collapsed_sweep(FOUR, start, SMALL, rng=rng)[0].tolist() for _ in range(60)]
    assert any(labels != found[0] for labels in found), (
        f"60 calls of collapsed_sweep from one start all gave {found[0]}"
    )


def test_collapsed_sweep_leaves_the_posterior_as_it_is(rng):
    labels, p = exact(X[:4], PRIOR)
    start = labels[rng.choice(len(p), N // 2, p=p)]
    found = collapsed_sweep(X[:4], start, PRIOR, rng=rng)
    counts = np.bincount(number_of(found, 3), minlength=81)
    call = "labels after a collapsed sweep from exact draws"
    assert_frequencies(counts, p, call, "the posterior by enumeration")


def test_collapsed_sweep_takes_the_point_out_of_its_group(rng):
    # A lone point far from all has a group of its own, which loses it before it is drawn: by (8) all empty groups are alike.
    prior = Prior(n_components=3, concentration=1.0, mean=0.0, strength=0.1, shape=2.0, rate=1.0)
    x = np.array([60.0, 0.0, 0.1, -0.1, 0.2])
    found = collapsed_sweep(x, np.tile([1, 0, 0, 0, 0], (N, 1)), prior, rng=rng)[:, 0]
    log_p = np.array(
        [
            np.log(5) + group_log_evidence(x, prior) - group_log_evidence(x[1:], prior),
            group_log_evidence(x[:1], prior),
            group_log_evidence(x[:1], prior),
        ]
    )
    p = special.softmax(log_p)
    counts = np.bincount(found, minlength=3)
    assert_frequencies(counts, p, "labels of a lone point after collapsed_sweep", "equation (8)")


def test_collapsed_sweep_gives_every_chain_random_numbers_of_its_own(rng):
    found = collapsed_sweep(FOUR, np.zeros((N, 4), int), SMALL, rng=rng)
    kinds = len(np.unique(number_of(found, 2)))
    assert kinds > 4, f"collapsed_sweep turned {N} equal chains into only {kinds} different ones"


def test_collapsed_sweep_keeps_its_sums_in_step(rng):
    # With 40 points a sum that is off by one point at a time would be far off at the end.
    x = np.concatenate([rng.normal(0, 0.3, 20), rng.normal(8, 0.3, 20)])[rng.permutation(40)]
    prior = Prior(n_components=2, concentration=1.0, mean=4.0, strength=0.05, shape=2.0, rate=0.2)
    labels = (x > 4).astype(int)[None].repeat(30, axis=0)
    wrong = np.mean(collapsed_sweep(x, labels, prior, rng=rng) != labels)
    assert wrong < 0.005, f"collapsed_sweep moved {wrong:.1%} of the points of two far groups to the other"


def test_collapsed_sweep_leaves_its_labels_alone(rng):
    labels = np.array([[0, 1, 1, 0], [1, 1, 1, 1]])
    found = collapsed_sweep(FOUR, labels, SMALL, rng=rng)
    assert found.shape == (2, 4), f"collapsed_sweep of shape (2, 4) returned shape {found.shape}"
    assert (labels == [[0, 1, 1, 0], [1, 1, 1, 1]]).all(), "collapsed_sweep changed its argument labels"


# co_clustering


def test_co_clustering_of_four_draws():
    found = co_clustering(np.array([[0, 1, 0], [2, 2, 0], [1, 1, 1], [0, 2, 0], [3, 0, 1]]))
    expected = np.array([[5, 2, 3], [2, 5, 1], [3, 1, 5]]) / 5
    assert_close(found, expected, "co_clustering(5 draws of 3 points)", "equation (10)")


def test_co_clustering_does_not_care_for_the_numbers_of_the_groups(rng):
    labels = rng.integers(4, size=(30, 7))
    renamed = np.array([rng.permutation(4)[row] for row in labels])
    found, expected = co_clustering(renamed), co_clustering(labels)
    assert_close(found, expected, "co_clustering with the groups renumbered in each draw", "that before", rtol=1e-12)


@pytest.mark.given
@pytest.mark.parametrize("labels", [np.zeros((0, 3), int), np.zeros((3, 0), int), np.zeros(3, int)])
def test_co_clustering_refuses_no_draws(labels):
    with pytest.raises(ValueError, match="labels must"):
        co_clustering(labels)


# sample, which is given, with the learner's parts


@pytest.mark.given
def test_sample_refuses_no_draws(rng):
    with pytest.raises(ValueError, match="n_draws must"):
        sample(FOUR, np.zeros((1, 4), int), 0, prior=SMALL, collapsed=True, rng=rng)


@pytest.mark.parametrize("collapsed", [False, True], ids=["plain", "collapsed"])
def test_co_clustering_of_sampled_labels_is_the_exact_one(collapsed, rng):
    labels, p = exact(FOUR, SMALL)
    start = labels[rng.choice(16, N, p=p)]
    found = sample(FOUR, start, 2, prior=SMALL, collapsed=collapsed, rng=rng)[:, -1]
    share = co_clustering(found)
    i, j = np.triu_indices(4, 1)
    pairs = (p[:, None] * (labels[:, i] == labels[:, j])).sum(axis=0)
    call = f"chains in which two points go together after two sweeps of sample({collapsed=})"
    assert_frequency(np.round(share[i, j] * N), N, pairs, call, "the posterior by enumeration")


@pytest.mark.parametrize("collapsed", [False, True], ids=["plain", "collapsed"])
def test_co_clustering_tells_the_groups_of_iris(collapsed, rng):
    iris = load_iris()
    x = iris.data[::5, 2]  # the length of the petals, of every fifth flower
    prior = Prior(n_components=2, concentration=1.0, mean=3.8, strength=0.05, shape=2.0, rate=0.3)
    draws = sample(x, (x > 3).astype(int)[None].repeat(6, axis=0), 24, prior=prior, collapsed=collapsed, rng=rng)[
        :, 12:
    ]
    together = co_clustering(draws.reshape(-1, len(x)))
    setosa = iris.target[::5] == 0
    apart, close = together[setosa][:, ~setosa].mean(), together[setosa][:, setosa].mean()
    assert close > 0.9, f"two setosas go together in {close:.0%} of the draws"
    assert apart < 0.1, f"a setosa and another iris go together in {apart:.0%} of the draws"


def test_draw_parameters_of_switching_groups_have_the_same_mean(rng):
    labels, p = exact(FOUR, SMALL)
    found = draw_parameters(statistics(FOUR, labels[rng.choice(16, N, p=p)], SMALL), SMALL, rng=rng)
    assert_mean(found.weights[:, 0], 0.5, "the weight of group 0 over the posterior", "the symmetry of the groups")
