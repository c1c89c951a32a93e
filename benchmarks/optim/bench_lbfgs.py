"""L-BFGS beside SciPy's, to the same gradient; the memory of a million variables is checked on the way."""

import tracemalloc
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import optimize
from sklearn.datasets import load_digits

from mlpath.optim._shared import Problem, breast_cancer, logistic, rosenbrock
from mlpath.optim.lbfgs import minimize
from mlpath.workbench.bench import Case, close

TOL = 1e-5


def ours(problem: Problem) -> np.ndarray:
    """Return the minimum that mlpath finds."""
    result = minimize(problem.fun, problem.grad, problem.start, tol=TOL, max_iter=20_000)
    assert result.success, result.message
    return result.x


def peer(problem: Problem) -> np.ndarray:
    """Return SciPy's."""
    options = {"gtol": TOL, "ftol": 0.0, "maxcor": 10, "maxiter": 20_000, "maxfun": 40_000}
    result = optimize.minimize(problem.fun, problem.start, jac=problem.grad, method="L-BFGS-B", options=options)
    assert abs(problem.grad(result.x)).max() <= TOL, result.message
    return result.x


def odd_digits() -> Problem:
    """Return logistic regression that tells odd digits from even ones: 1,797 images of 64 pixels, and an intercept."""
    images, digits = load_digits(return_X_y=True)
    return logistic(np.column_stack([images / 16, np.ones(len(images))]), 2.0 * (digits % 2) - 1, ridge=1e-2)


def check_memory() -> None:
    """Assert that a million variables and ten pairs take the memory of some thirty vectors."""
    problem, dim = rosenbrock(1_000_000), 1_000_000
    tracemalloc.start()
    minimize(problem.fun, problem.grad, problem.start, tol=0, max_iter=15)
    peak = tracemalloc.get_traced_memory()[1] / (8 * dim)
    tracemalloc.stop()
    assert 20 < peak < 40, f"{peak} vectors"


def cases() -> Iterator[Case]:
    check_memory()
    for name, problem in (
        ("logistic regression, 569 x 31", breast_cancer(ridge=1e-2)),
        ("logistic regression, 1,797 x 65", odd_digits()),
        ("Rosenbrock, 100 variables", rosenbrock(100)),
    ):
        yield Case(
            name,
            ours=partial(ours, problem),
            peer_name="SciPy L-BFGS-B",
            peer=partial(peer, problem),
            check=close(0.0, atol=1e-2),
        )
