"""Steihaug's trust region beside SciPy's trust-ncg, which makes the same steps; both to the same length of gradient."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._shared import Problem, breast_cancer, rosenbrock
from mlpath.optim.newton.trust_region import minimize
from mlpath.workbench.bench import Case

TOL = 1e-6


def ours(problem: Problem, start: np.ndarray) -> np.ndarray:
    """Return the reference's last point; no component of the gradient exceeds TOL over the root of their number."""
    tol = TOL / len(start) ** 0.5
    return minimize(problem.fun, problem.grad, problem.hvp, start, tol=tol, max_iter=5000).x


def peer(problem: Problem, start: np.ndarray) -> np.ndarray:
    """Return SciPy's last point; the gradient is at most TOL long."""
    options = {"gtol": TOL, "maxiter": 5000}
    derivatives = {"jac": problem.grad, "hessp": problem.hvp}
    return scipy_minimize(problem.fun, start, method="trust-ncg", options=options, **derivatives).x


def check(problem: Problem, x: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both have converged to the same minimum."""
    for point in (x, theirs):
        assert np.linalg.norm(problem.grad(point)) <= TOL, f"the gradient is {np.linalg.norm(problem.grad(point))} long"
    np.testing.assert_allclose(x, theirs, atol=1e-3)


def cases() -> Iterator[Case]:
    for name, problem, start in (
        ("Rosenbrock, dim 2", rosenbrock(2), rosenbrock(2).start),
        ("Rosenbrock, dim 100", rosenbrock(100), np.full(100, 2.0)),
        ("Rosenbrock, dim 1000", rosenbrock(1000), np.full(1000, 2.0)),
        ("logistic regression, breast cancer", (cancer := breast_cancer(ridge=1e-3)), cancer.start),
    ):
        yield Case(
            name,
            ours=partial(ours, problem, start),
            peer_name="scipy.optimize.minimize, trust-ncg",
            peer=partial(peer, problem, start),
            check=partial(check, problem),
        )
