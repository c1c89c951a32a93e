"""Chain by chain: ranks by counting, R-hat by sums of squares, the spectral variance from sums over windows."""

import math
from statistics import NormalDist

import numpy as np


def _check(name, draws, least):
    if draws.ndim != 2 or len(draws) == 0 or draws.shape[1] < least or not np.isfinite(draws).all():
        raise ValueError(f"{name} must be a finite matrix with {least} columns or more, got {draws}")


def split_chains(draws):
    _check("draws", draws, 4)
    n = draws.shape[1]
    return np.vstack(
        [np.array([chain[: n // 2] for chain in draws]), np.array([chain[(n + 1) // 2 :] for chain in draws])]
    )


def classic_r_hat(chains):
    _check("chains", chains, 2)
    if len(chains) < 2:
        raise ValueError(f"chains must be two or more, got {len(chains)}")
    shifted = chains - chains[0, 0]
    if not shifted.any():
        return math.nan
    if all((chain == chain[0]).all() for chain in chains):
        return math.inf
    m, n = chains.shape
    means = [sum(chain) / n for chain in shifted]
    middle = sum(means) / m
    between = sum((mean - middle) ** 2 for mean in means) / (m - 1)
    within = sum(((chain - mean) ** 2).sum() for chain, mean in zip(shifted, means)) / (m * (n - 1))
    return math.sqrt(1 - 1 / n + between / within)


def average_ranks(draws):
    _check("draws", draws, 1)
    ordered = np.sort(draws, axis=None)
    return (np.searchsorted(ordered, draws, "left") + np.searchsorted(ordered, draws, "right") + 1) / 2


def normal_scores(draws):
    quantile = NormalDist().inv_cdf
    return np.array([[quantile((8 * r - 3) / (8 * draws.size + 2)) for r in row] for row in average_ranks(draws)])


def r_hat(draws):
    halves = split_chains(draws)
    bulk = classic_r_hat(normal_scores(halves))
    folded = classic_r_hat(normal_scores(np.abs(np.median(halves) - halves)))
    return bulk if math.isnan(folded) else max(bulk, folded)


def rank_counts(draws, n_bins=20):
    _check("draws", draws, 1)
    if n_bins < 1 or n_bins > draws.size:
        raise ValueError(f"n_bins must lie between 1 and {draws.size}, got {n_bins}")
    counts = np.zeros((len(draws), n_bins), dtype=int)
    for m, row in enumerate(average_ranks(draws)):
        for rank in row:
            counts[m, -int(-2 * rank * n_bins // (2 * draws.size)) - 1] += 1
    return counts


def spectral_variance(chains, width):
    _check("chains", chains, 1)
    n = chains.shape[1]
    if width < 1 or width > n:
        raise ValueError(f"width must lie between 1 and {n}, got {width}")
    found = []
    for chain in chains:
        deviations = np.zeros(n) if (chain == chain[0]).all() else chain - chain.mean()
        sums = np.convolve(deviations, np.ones(width))
        found.append((sums**2).sum() / (n * width))
    return np.array(found)


def geweke(draws, *, first=0.1, last=0.5):
    _check("draws", draws, 1)
    if not (first > 0 and last > 0 and first + last <= 1):
        raise ValueError(f"first and last must be positive shares, got {first} and {last}")
    n = draws.shape[1]
    sizes = round(first * n), round(last * n)
    if min(sizes) < 2:
        raise ValueError(f"draws must be more, got {n}")
    found = []
    for chain in draws:
        windows = [chain[: sizes[0]] - chain[0], chain[n - sizes[1] :] - chain[0]]
        gap = windows[0].mean() - windows[1].mean()
        error = sum(spectral_variance(w[None], math.isqrt(len(w)))[0] / len(w) for w in windows)
        found.append(gap / math.sqrt(error) if error else math.copysign(math.inf, gap) if gap else math.nan)
    return np.array(found)


def trace_figure(draws, name="$x$"):
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.subplots()
    for chain in draws:
        ax.plot(chain)
    ax.set_ylabel(name)
    return figure


def rank_figure(draws, n_bins=20):
    from matplotlib.figure import Figure

    figure = Figure()
    for counts, ax in zip(rank_counts(draws, n_bins), np.atleast_1d(figure.subplots(1, len(draws)))):
        ax.stairs(counts)
    return figure
