"""Complex transforms of another length, pairs in a loop, errors by cumulants and SciPy's laws."""

import math

import numpy as np
from scipy import fft, stats

from mlpath.bayes.diagnostics.r_hat import normal_scores, split_chains


def _check(chains):
    if chains.ndim != 2 or len(chains) == 0 or chains.shape[1] < 2 or not np.isfinite(chains).all():
        raise ValueError(f"chains must be a finite matrix with two columns or more, got {chains}")


def autocovariance(chains):
    _check(chains)
    n = chains.shape[1]
    m = fft.next_fast_len(2 * n + 3)
    out = []
    for chain in chains:
        transform = fft.fft(chain - chain.mean(), m)
        out.append(fft.ifft(transform * transform.conj()).real[:n] / n)
    return np.array(out)


def autocorrelation(chains):
    _check(chains)
    m, n = chains.shape
    if np.unique(chains).size == 1:
        return np.full(n, math.nan)
    gamma = sum(autocovariance(chains)) / m
    within = np.mean([np.var(chain) for chain in chains]) * n / (n - 1)
    means = [chain.mean() for chain in chains]
    between = np.var(means, ddof=1) if m > 1 else 0.0
    variance = within - within / n + between
    return np.array([1.0] + [(variance - within + g) / variance for g in gamma[1:]])


def integrated_time(rho):
    if np.ndim(rho) != 1 or len(rho) < 2 or not np.isfinite(rho).all():
        raise ValueError(f"rho must be a finite vector, got {rho}")
    total, least, k = -1.0, math.inf, 0
    while rho[2 * k] + rho[2 * k + 1] > 0 and 2 * (k + 1) + 1 <= len(rho) - 2:
        least = min(least, rho[2 * k] + rho[2 * k + 1])
        total += 2 * least
        k += 1
    return float(total + (rho[2 * k] if rho[2 * k] > 0 else 0.0))


def ess(chains):
    rho = autocorrelation(chains)
    if math.isnan(rho[-1]):
        return math.nan
    return float(min(chains.size / max(integrated_time(rho), 1e-300), chains.size * math.log10(chains.size)))


def bulk_ess(draws):
    halves = split_chains(draws)
    return ess(normal_scores(halves))


def tail_ess(draws, probabilities=(0.05, 0.95)):
    if len(probabilities) == 0 or any(not (0 < p < 1) for p in probabilities):
        raise ValueError(f"probabilities must lie between 0 and 1, got {probabilities}")
    halves, least = split_chains(draws), math.inf
    for p in probabilities:
        size = ess(np.where(halves > np.quantile(draws, p), 1.0, 0.0))
        if math.isnan(size):
            return math.nan
        least = min(least, size)
    return least


def mcse(draws):
    sizes = ess(split_chains(draws)), ess(split_chains((draws - np.mean(draws)) ** 2))
    if (draws == draws.flat[0]).all():
        return math.nan, math.nan
    variance = np.var(draws)
    fourth = np.mean((draws - draws.mean()) ** 4)
    of_mean = math.sqrt(variance * draws.size / (draws.size - 1) / sizes[0])
    return of_mean, math.sqrt((fourth - variance**2) / sizes[1]) / (2 * math.sqrt(variance))


def mcse_quantile(draws, probability):
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1, got {probability}")
    size = tail_ess(draws, (probability,))
    if math.isnan(size):
        return math.nan
    law = stats.beta(size * probability + 1, size * (1 - probability) + 1)
    places = [law.ppf(stats.norm.cdf(z)) * draws.size for z in (-1, 1)]
    ordered = sorted(draws.ravel())
    low, high = max(math.floor(places[0]), 1), min(math.ceil(places[1]), draws.size)
    return float(ordered[high - 1] - ordered[low - 1]) / 2


def autocorrelation_figure(draws, n_lags=50):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot(autocorrelation(draws)[: n_lags + 1], label="all together")
    return figure
