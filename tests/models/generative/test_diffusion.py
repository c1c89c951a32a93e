"""What the diffusion exercises' figures and quality are made with."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from mlpath.models.generative._diffusion import (
    Classifier,
    frechet_distance,
    judge,
    spread_times,
    train,
    update_average,
)
from mlpath.testing import assert_close, assert_frequencies


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n, seed=0):
    return torch.rand(n, 1, 8, 8, generator=seeded(seed))


def test_the_frechet_distance_is_that_of_its_formula():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(300, 7)) @ rng.normal(size=(7, 7))
    b = rng.normal(1, 2, size=(90, 7)) @ rng.normal(size=(7, 7))
    A, B = np.cov(a.T), np.cov(b.T)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(A + B - 2 * np.real(sqrtm(A @ B)))
    assert_close(frechet_distance(torch.tensor(a), torch.tensor(b)), expected, "frechet_distance(a, b)", "its formula")
    assert abs(frechet_distance(torch.tensor(a), torch.tensor(a))) < 1e-9


def test_times_lie_one_in_each_stretch_and_each_is_uniform():
    t = torch.stack([spread_times(40, 200, generator=seeded(i)) for i in range(2000)])
    assert torch.equal((t - 1) // 5, torch.arange(40).expand_as(t)), "spread_times(40, 200) leaves a stretch of 5 out"
    counts = ((t - 1) % 5).flatten().bincount(minlength=5)
    assert_frequencies(counts, np.full(5, 0.2), "the place within a stretch of spread_times", "uniform times")
    assert int(spread_times(7, 3, generator=seeded()).max()) <= 3


def test_training_is_reproducible_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again = (train(images(10), steps=4, batch=8, n_steps=20, generator=seeded(1)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.losses == again.losses
    assert len(first.losses) == 4
    other = train(images(10), steps=4, batch=8, n_steps=20, generator=seeded(2))
    assert other.losses != first.losses
    drawn = first.draw(3, generator=seeded(3))
    assert drawn.shape == (3, 1, 8, 8)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert not first.network.training, "dropout must rest while images are drawn"


def test_training_lessens_the_loss():
    losses = train(images(4), steps=60, batch=16, n_steps=20, generator=seeded()).losses
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_the_average_moves_by_the_share_that_is_not_kept():
    average, network = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    expected = 0.9 * average.weight.detach() + 0.1 * network.weight.detach()
    update_average(average, network, 0.9)
    assert_close(average.weight, expected, "update_average(average, network, 0.9)", rtol=1e-6)


@pytest.mark.parametrize(("noise", "copies"), [(0.0, 20), (1e-3, 20), (10.0, 0)])
def test_copies_of_training_images_are_counted(noise, copies):
    torch.manual_seed(0)
    known, others = images(50), images(30, seed=1)
    quality = judge(known[:20] + noise * images(20, seed=2), Classifier().eval(), known, others)
    assert quality.n_copies == copies
    assert quality.distances.shape == (20,)
    assert 0.1 <= quality.confidence <= 1
