"""bayes/metropolis_hastings beside emcee: `python benchmarks/bayes/bench_metropolis_hastings.py`.

Both draw from the same correlated normal distribution, with equally many chains (emcee calls them walkers), and start with exact
draws. Compared are seconds per effective sample, of the coordinate that mixes worst. The number of effective samples is
the number of draws over the integrated autocorrelation time, for both by `emcee.autocorr.integrated_time`: the autocorrelation
function averaged over chains, summed up to Sokal's window of 5 autocorrelation times. That both are right is checked first,
by the mean and the variance of each coordinate, within 6 standard errors that rest on the same estimate.

emcee runs in its faster mode, in which it hands the target a batch of walkers, and also as it comes, walker by walker.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import sys
from functools import partial
from pathlib import Path

import emcee
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _timing import Times, compare, report

from mlpath.bayes.metropolis_hastings import random_walk, sample


def effective(draws: np.ndarray) -> float:
    """The number of effective samples among draws of shape (n_chains, n_draws, dim), in the worst coordinate."""
    times = emcee.autocorr.integrated_time(draws.swapaxes(0, 1), c=5, tol=50)
    return draws.shape[0] * draws.shape[1] / times.max()


def check(name: str, draws: np.ndarray, covariance: np.ndarray) -> float:
    """Return the number of effective samples, after checking mean and variance."""
    size, flat, variances = effective(draws), draws.reshape(-1, draws.shape[2]), np.diag(covariance)
    z = flat.mean(axis=0) / np.sqrt(variances / size)
    assert abs(z).max() < 6, f"{name}: the mean is off by {abs(z).max():.1f} standard errors"
    z = (flat.var(axis=0) / variances - 1) / np.sqrt(2 / size)
    assert abs(z).max() < 6, f"{name}: the variance is off by {abs(z).max():.1f} standard errors"
    return size


def main() -> None:
    """Print one line for each dimension and each mode of emcee."""
    print("time for 10,000 effective samples")
    for dim, n_chains, n_draws in ((2, 1_000, 1_500), (5, 1_000, 2_500), (10, 1_000, 5_000)):
        rng = np.random.default_rng(dim)
        factor = np.tril(rng.normal(size=(dim, dim)) / dim) + np.eye(dim)
        covariance, precision = factor @ factor.T, np.linalg.inv(factor @ factor.T)
        start = rng.normal(size=(n_chains, dim)) @ factor.T

        def log_density(x: np.ndarray, precision: np.ndarray = precision) -> np.ndarray:
            return -((x @ precision) * x).sum(axis=-1) / 2

        # 2.4 / sqrt(dim), the best there is for a round target, by the geometric mean of the deviations.
        scale = 2.4 / dim**0.5 * np.linalg.det(covariance) ** (0.5 / dim)
        ours = partial(sample, log_density, start, propose=partial(random_walk, scale=scale), rng=rng)

        def peer(n_draws: int, vectorize: bool, start: np.ndarray = start, log_density=log_density) -> np.ndarray:
            sampler = emcee.EnsembleSampler(*start.shape, log_density, vectorize=vectorize)
            sampler.run_mcmc(start, n_draws)
            return sampler.get_chain().swapaxes(0, 1)

        n_ours = check("ours", ours(n_draws).draws, covariance) / n_draws
        n_peer = check("emcee", peer(n_draws, True), covariance) / n_draws
        for vectorize, n in ((True, 300), (False, 30)):
            # Time per step does not depend on the number of steps, so shorter runs will do for timing.
            times = compare(partial(ours, n), partial(peer, n, vectorize), repeats=5)
            times = Times(1e4 * times.ours / (n * n_ours), 1e4 * times.peer / (n * n_peer))
            report(f"{dim} dimensions, {n_chains:,} chains", "emcee, vectorised" if vectorize else "emcee", times)


if __name__ == "__main__":
    main()
