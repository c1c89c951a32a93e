"""What the samplers' tests rest on: that the targets are what they say."""

import numpy as np
import pytest
from scipy import stats

from mlpath.bayes import _targets
from mlpath.bayes._shared import evaluate, evaluate_gradient, of_torch
from mlpath.testing import assert_close, assert_mean

TARGETS = {
    "normal": _targets.normal(
        np.array([1.0, -2.0, 0.5]), np.array([[2.0, 0.7, 0.1], [0.7, 1.0, 0.3], [0.1, 0.3, 0.5]])
    ),
    "correlated": _targets.correlated(4, 0.8),
    "banana": _targets.banana(),
    "funnel": _targets.funnel(3, 1.0),  # of scale 3, the squares have a variance beyond counting
    "student_t": _targets.student_t(3, 12.0),
    "two_modes": _targets.two_modes(3),
    "gammas": _targets.gammas(np.array([3.0, 1.5]), np.array([0.5, 2.0])),
}
N = 20_000


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_the_moments_that_it_says(name, rng):
    target = TARGETS[name]
    draws = target.exact(rng, N)
    assert_mean(draws, target.mean, f"{name}.exact", "`mean`")
    off = draws - target.mean
    assert_mean(off[:, :, None] * off[:, None, :], target.covariance, f"{name}.exact", "`covariance`")


@pytest.mark.parametrize("name", TARGETS)
def test_the_gradient_of_a_target_is_that_of_its_log_density(name, rng):
    target = TARGETS[name]
    x = target.exact(rng, 50)
    for i, shift in enumerate(np.eye(x.shape[1]) * 1e-5):
        slope = (target.log_density(x + shift) - target.log_density(x - shift)) / 2e-5
        assert_close(target.gradient(x)[:, i], slope, f"{name}.gradient", "central differences", rtol=1e-6, atol=1e-6)


def laws(name, x):
    """The log density by SciPy."""
    if name in ("normal", "correlated"):
        return stats.multivariate_normal(TARGETS[name].mean, TARGETS[name].covariance).logpdf(x)
    if name == "banana":
        return stats.norm(0, 2).logpdf(x[:, 0]) + stats.norm(0.5 * (x[:, 0] ** 2 - 4)).logpdf(x[:, 1])
    if name == "funnel":
        scale = np.exp(x[:, :1] / 2)
        return stats.norm.logpdf(x[:, 0]) + stats.norm(0, scale).logpdf(x[:, 1:]).sum(axis=1)
    if name == "student_t":
        return stats.multivariate_t(np.zeros(3), df=12.0).logpdf(x)
    if name == "two_modes":
        at, other = (stats.multivariate_normal(m, np.eye(3)).pdf(x) for m in (np.zeros(3), [6.0, 0.0, 0.0]))
        return np.log(0.7 * at + 0.3 * other)
    return stats.gamma([3.0, 1.5], scale=[2.0, 0.5]).logpdf(x).sum(axis=1)


@pytest.mark.parametrize("name", TARGETS)
def test_the_log_density_of_a_target_is_scipys_but_for_a_constant(name, rng):
    x = TARGETS[name].exact(rng, 200)
    off = TARGETS[name].log_density(x) - laws(name, x)
    assert_close(off, np.full(200, off[0]), f"{name}.log_density less SciPy's", "one constant", rtol=1e-9, atol=1e-9)


def test_gammas_have_no_density_where_a_coordinate_is_not_positive():
    x = np.array([[1.0, 2.0], [-1.0, 2.0], [1.0, 0.0]])
    finite = np.isfinite(evaluate(TARGETS["gammas"].log_density, x))
    assert finite.tolist() == [True, False, False], f"the log densities are finite: {finite}"


def test_the_funnel_is_computed_without_overflow_in_its_neck():
    neck = np.array([[-800.0, 1.0, 1.0]])
    assert _targets.funnel().log_density(neck) == -np.inf


def test_the_disasters_are_those_that_everybody_counts():
    dates = _targets.coal_disasters()
    years, counts = _targets.coal_counts()
    assert len(dates) == counts.sum() == 191 and len(years) == len(counts) == 112
    assert (np.diff(dates) >= 0).all()
    # Jarrett's intervals begin with 157, 123, 2, 124, 12, 4, 10 and 216 days.
    assert_close(np.rint(np.diff(dates[:9]) * 365.25), [157, 123, 2, 124, 12, 4, 10, 216], "intervals in days")
    # Carlin, Gelfand and Smith (1992), doi.org/10.2307/2347570, print these for the first decade.
    assert counts[:10].tolist() == [4, 5, 4, 1, 0, 4, 3, 4, 0, 6]


def test_eight_schools_pool_to_the_published_mean():
    effects, errors = _targets.eight_schools()
    weights = errors**-2
    assert_close(weights @ effects / weights.sum(), 7.7, "the pooled effect", "Gelman et al., section 5.5", atol=0.05)


@pytest.mark.parametrize("name", ["normal", "banana", "student_t"])
def test_of_torch_gives_log_density_and_gradient_of_rows(name, rng):
    target = TARGETS[name]
    x = target.exact(rng, 7)

    def of_tensors(x):
        if name == "normal":
            import torch

            off = x - torch.tensor(target.mean)
            return -((off @ torch.linalg.inv(torch.tensor(target.covariance))) * off).sum(dim=1) / 2
        if name == "banana":
            return -((x[:, 0] / 2) ** 2 + (x[:, 1] - (x[:, 0] ** 2 - 4) / 2) ** 2) / 2
        return -15 / 2 * ((x**2).sum(dim=1) / 12).log1p()

    log_density, gradient = of_torch(of_tensors)
    assert_close(
        evaluate(log_density, x), target.log_density(x), f"of_torch({name})[0]", "the same in NumPy", atol=1e-12
    )
    assert_close(
        evaluate_gradient(gradient, x), target.gradient(x), f"of_torch({name})[1]", "the same in NumPy", atol=1e-12
    )


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="gradient_fn must return shape"):
        evaluate_gradient(lambda x: x.sum(axis=1), np.ones((3, 2)))
