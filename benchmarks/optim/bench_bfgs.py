"""BFGS beside SciPy's, to the same gradient."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import optimize

from mlpath.optim._shared import Problem, breast_cancer, rosenbrock
from mlpath.optim.bfgs import minimize
from mlpath.workbench.bench import Case, close

TOL = 1e-6


def ours(problem: Problem) -> np.ndarray:
    """Return the minimum that mlpath finds."""
    result = minimize(problem.fun, problem.grad, problem.start, tol=TOL)
    assert result.success, result.message
    return result.x


def peer(problem: Problem) -> np.ndarray:
    """Return SciPy's."""
    return optimize.minimize(problem.fun, problem.start, jac=problem.grad, method="BFGS", options={"gtol": TOL}).x


def cases() -> Iterator[Case]:
    for name, problem in (
        ("Rosenbrock, 2 variables", rosenbrock()),
        ("Rosenbrock, 100 variables", rosenbrock(100)),
        ("logistic regression, 31 weights", breast_cancer(ridge=1e-1)),
    ):
        yield Case(
            name,
            ours=partial(ours, problem),
            peer_name="SciPy BFGS",
            peer=partial(peer, problem),
            check=close(0.0, atol=1e-3),
        )
