"""Beside emcee: the time for 10,000 effective samples.

Both draw from the same correlated normal distribution, with equally many chains (emcee calls them walkers), and start with
exact draws. Compared are seconds per effective sample, of the coordinate that mixes worst. The number of effective samples is
the number of draws over the integrated autocorrelation time, for both by `emcee.autocorr.integrated_time`: the autocorrelation
function averaged over chains, summed up to Sokal's window of 5 autocorrelation times. It is estimated from long runs; shorter
ones are timed, since the time per step does not depend on the number of steps. That both are right is checked first, in
the long and in the short runs, by the mean and the variance of each coordinate, within 6 standard errors that rest on the same
estimate. The interval tells the noise of the times, not that of the estimate.

emcee runs in its faster mode, in which it hands the target a batch of walkers, and also as it comes, walker by walker.
numpy-ml has no such sampler.
"""

from collections.abc import Iterator
from functools import partial

import emcee
import numpy as np

from mlpath.bayes.metropolis_hastings import random_walk, sample
from mlpath.workbench.bench import Case


def effective(draws):
    """The number of effective samples per step, of draws of shape (n_chains, n_draws, dim), in the worst coordinate."""
    times = emcee.autocorr.integrated_time(draws.swapaxes(0, 1), c=5, tol=50)
    return draws.shape[0] / times.max()


def assert_right(draws, covariance, per_step):
    """Mean and variance are those of the target, within 6 standard errors."""
    flat, variances, size = draws.reshape(-1, draws.shape[2]), np.diag(covariance), draws.shape[1] * per_step
    z = flat.mean(axis=0) / np.sqrt(variances / size)
    assert abs(z).max() < 6, f"a mean is off by {abs(z).max():.1f} standard errors"
    z = (flat.var(axis=0) / variances - 1) / np.sqrt(2 / size)
    assert abs(z).max() < 6, f"a variance is off by {abs(z).max():.1f} standard errors"


def ours(log_density, start, scale, rng, n_draws):
    return sample(log_density, start, n_draws, propose=partial(random_walk, scale=scale), rng=rng).draws


def peer(log_density, start, n_draws, vectorize):
    sampler = emcee.EnsembleSampler(*start.shape, log_density, vectorize=vectorize)
    sampler.run_mcmc(start, n_draws)
    return sampler.get_chain().swapaxes(0, 1)


def cases() -> Iterator[Case]:
    for dim, n_chains, n_draws in ((2, 1_000, 1_500), (5, 1_000, 2_500), (10, 1_000, 5_000)):
        rng = np.random.default_rng(dim)
        factor = np.tril(rng.normal(size=(dim, dim)) / dim) + np.eye(dim)
        covariance, precision = factor @ factor.T, np.linalg.inv(factor @ factor.T)
        start = rng.normal(size=(n_chains, dim)) @ factor.T

        def log_density(x, precision=precision):
            return -((x @ precision) * x).sum(axis=-1) / 2

        # 2.4 / sqrt(dim), the best there is for a round target, by the geometric mean of the deviations.
        scale = 2.4 / dim**0.5 * np.linalg.det(covariance) ** (0.5 / dim)
        our_draws = partial(ours, log_density, start, scale, rng)
        per_step = []
        for draws in (our_draws(n_draws), peer(log_density, start, n_draws, vectorize=True)):
            per_step.append(effective(draws))
            assert_right(draws, covariance, per_step[-1])

        def check(draws, peer_draws, covariance=covariance, per_step=tuple(per_step)):
            assert draws.shape == peer_draws.shape
            assert_right(draws, covariance, per_step[0])
            assert_right(peer_draws, covariance, per_step[1])

        for mode, vectorize, n in (("emcee, vectorised", True, 300), ("emcee", False, 30)):
            yield Case(
                f"{dim} dimensions, {n_chains:,} chains",
                ours=partial(our_draws, n),
                peer_name=mode,
                peer=partial(peer, log_density, start, n, vectorize),
                check=check,
                limit=0.1,
                worth=(n * per_step[0] / 1e4, n * per_step[1] / 1e4),
            )
