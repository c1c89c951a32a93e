"""Damped Newton beside SciPy's trust-exact, which also factorises the Hessian at each step; both to the same gradient."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._shared import Problem, beale, breast_cancer, rosenbrock
from mlpath.optim.newton.damped import minimize
from mlpath.workbench.bench import Case

TOL = 1e-5


def ours(problem: Problem, start: np.ndarray) -> np.ndarray:
    """Return the reference's last point."""
    return minimize(problem.fun, problem.grad, problem.hess, start, tol=TOL, max_iter=500).x


def peer(problem: Problem, start: np.ndarray) -> np.ndarray:
    """Return SciPy's last point."""
    derivatives = {"jac": problem.grad, "hess": problem.hess}
    return scipy_minimize(problem.fun, start, method="trust-exact", options={"gtol": TOL}, **derivatives).x


def check(problem: Problem, x: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both have converged to the same minimum."""
    for point in (x, theirs):
        assert abs(problem.grad(point)).max() <= TOL, f"the gradient is {abs(problem.grad(point)).max()}"
    np.testing.assert_allclose(x, theirs, atol=1e-3)


def cases() -> Iterator[Case]:
    for name, problem, start in (
        ("Rosenbrock, dim 2", rosenbrock(2), rosenbrock(2).start),
        ("Rosenbrock, dim 30", rosenbrock(30), np.full(30, 2.0)),
        ("Beale", beale(), beale().start),
        ("logistic regression, breast cancer", (cancer := breast_cancer(ridge=1e-2)), cancer.start),
    ):
        yield Case(
            name,
            ours=partial(ours, problem, start),
            peer_name="scipy.optimize.minimize, trust-exact",
            peer=partial(peer, problem, start),
            check=partial(check, problem),
        )
