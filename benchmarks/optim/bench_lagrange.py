"""Newton's method on the KKT conditions beside SciPy's SLSQP, which has no second derivatives: the minima must agree."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import OptimizeResult as SciPyResult
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult, hock_schittkowski
from mlpath.optim.lagrange import minimize
from mlpath.workbench.bench import Case


def peer(problem: ConstrainedProblem) -> SciPyResult:
    """Return SciPy's result."""
    constraints = {"type": "eq", "fun": problem.equalities, "jac": problem.equality_jacobian}
    options = {"ftol": 1e-12, "maxiter": 500}
    return scipy_minimize(
        problem.fun, problem.start, jac=problem.grad, method="SLSQP", constraints=constraints, options=options
    )


def check(ours: ConstrainedResult, theirs: SciPyResult) -> None:
    """Assert that both found the same value."""
    assert ours.success, ours.message
    assert abs(ours.fun - theirs.fun) < 1e-6 * max(1, abs(theirs.fun)), f"{ours.fun} and {theirs.fun}"


def projection(dim: int) -> ConstrainedProblem:
    """Return the point of least cosh on a tenth as many random planes as there are dimensions."""
    rng = np.random.default_rng(0)
    planes = rng.standard_normal((dim // 10, dim)) / np.sqrt(dim)
    return ConstrainedProblem(
        lambda x: float(np.cosh(x - 0.3).sum()),
        lambda x: np.sinh(x - 0.3),
        lambda x: np.diag(np.cosh(x - 0.3)),
        lambda x: planes @ x - 0.1,
        lambda x: planes,
        lambda x: np.zeros(0),
        lambda x: np.zeros((0, dim)),
        lambda x, nu, lam: np.diag(np.cosh(x - 0.3)),
        rng.standard_normal(dim),
        np.full(dim, np.nan),
    )


def cases() -> Iterator[Case]:
    every = hock_schittkowski()
    problems = {name: every[name] for name in ("HS39", "HS40", "HS42", "HS51")} | {"cosh, dim 100": projection(100)}
    for name, problem in problems.items():
        yield Case(
            name, ours=partial(minimize, problem), peer_name="SciPy's SLSQP", peer=partial(peer, problem), check=check
        )
