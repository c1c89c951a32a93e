"""CMA-ES beside the package cma: runs to the same target, which must not take 1.5 times its evaluations.

`python benchmarks/optim/bench_cma_es.py` prints the medians of evaluations of twenty runs each, as the note states them;
the table of times is of three runs each. The package is `pip install cma`.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from mlpath.optim._shared import rastrigin, rosenbrock
from mlpath.optim.cma_es import TARGET, minimize
from mlpath.workbench.bench import Case

SEEDS, TIMED, GOAL = 20, 3, 1e-9
SCALES = np.geomspace(1, 1e6, 10)

Runs = list[float]


def ours(fun: Callable, start: np.ndarray, sigma: float, n_draws: int | None, n_runs: int) -> Runs:
    """Return the evaluations of each run of the reference; NaN for one that missed the target."""
    runs = []
    for seed in range(n_runs):
        rng = np.random.default_rng(seed)
        result = minimize(fun, start, sigma, rng=rng, target=GOAL, max_iter=5000, n_draws=n_draws)
        runs.append(result.nfev if result.message == TARGET else np.nan)
    return runs


def peer(fun: Callable, start: np.ndarray, sigma: float, n_draws: int | None, n_runs: int) -> Runs:
    """Return the evaluations of each run of the package."""
    import cma

    runs = []
    for seed in range(1, n_runs + 1):
        options = {"ftarget": GOAL, "seed": seed, "verbose": -9} | ({"popsize": n_draws} if n_draws else {})
        search = cma.CMAEvolutionStrategy(start, sigma, options)
        search.optimize(fun)
        runs.append(search.result.evaluations if search.best.f <= GOAL else np.nan)
    return runs


def check(runs: Runs, theirs: Runs) -> None:
    """Assert that all runs of the reference succeed, with at most 1.5 times as many evaluations."""
    ratio = np.nanmedian(runs) / np.nanmedian(theirs)
    assert ratio <= 1.5, f"{ratio:.2f} times as many evaluations"
    assert np.isfinite(runs).all(), f"evaluations of each run: {runs}"


PROBLEMS = {
    "sphere, dim 10": (lambda x: float(x @ x), np.ones(10), 0.5, None),
    "ellipsoid of condition 1e6, dim 10": (lambda x: float(SCALES @ (x * x)), np.ones(10), 0.5, None),
    "Rosenbrock, dim 8": (rosenbrock(8).fun, np.zeros(8), 0.3, None),
    "Rastrigin, dim 5, 100 draws": (rastrigin(5).fun, np.full(5, 2.5), 2.0, 100),
}


def cases() -> Iterator[Case]:
    for name, arguments in PROBLEMS.items():
        if "Rastrigin" not in name:  # of whose runs some fail
            runs = partial(ours, *arguments, TIMED), partial(peer, *arguments, TIMED)
            yield Case(f"{name}, {TIMED} runs", runs[0], "cma", runs[1], check)


if __name__ == "__main__":
    for title, task in PROBLEMS.items():
        own, other = ours(*task, SEEDS), peer(*task, SEEDS)
        medians = np.nanmedian(own), np.nanmedian(other)
        misses = np.isnan(own).sum(), np.isnan(other).sum()
        print(
            f"{title}: {medians[0]:.0f} beside {medians[1]:.0f}, ratio {medians[0] / medians[1]:.2f}, failed {misses}"
        )
