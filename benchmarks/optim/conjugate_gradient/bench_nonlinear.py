"""Nonlinear conjugate gradients beside SciPy's, both until no component of the gradient exceeds the same tolerance."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._shared import Problem, breast_cancer, quadratic, rosenbrock
from mlpath.optim.conjugate_gradient.nonlinear import minimize
from mlpath.workbench.bench import Case

TOL = 1e-5


def ours(problem: Problem) -> np.ndarray:
    """Return the reference's last point."""
    return minimize(problem.fun, problem.grad, problem.start, tol=TOL, max_iter=10_000).x


def peer(problem: Problem) -> np.ndarray:
    """Return SciPy's last point."""
    options = {"gtol": TOL, "maxiter": 10_000}
    return scipy_minimize(problem.fun, problem.start, jac=problem.grad, method="CG", options=options).x


def check(problem: Problem, x: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both have converged to the same minimum."""
    for point in (x, theirs):
        assert abs(problem.grad(point)).max() <= TOL, f"the gradient is {abs(problem.grad(point)).max()}"
    np.testing.assert_allclose(x, theirs, atol=1e-2)


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for name, problem in (
        ("quadratic, dim 1000, κ = 1000", quadratic(np.geomspace(1e-1, 100, 1000), rng=rng)),
        ("Rosenbrock, dim 2", rosenbrock(2)),
        ("Rosenbrock, dim 100", rosenbrock(100)),
        ("logistic regression, breast cancer", breast_cancer(ridge=1e-2)),
    ):
        yield Case(
            name,
            ours=partial(ours, problem),
            peer_name="scipy.optimize.minimize, CG",
            peer=partial(peer, problem),
            check=partial(check, problem),
        )
