"""The method of multipliers beside SciPy's SLSQP, which has no second derivatives: the minima must agree."""

from collections.abc import Iterator
from functools import partial

from scipy.optimize import OptimizeResult as SciPyResult
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult, hock_schittkowski
from mlpath.optim.augmented_lagrangian import minimize
from mlpath.workbench.bench import Case


def peer(problem: ConstrainedProblem) -> SciPyResult:
    """Return SciPy's result."""
    constraints = []
    if len(problem.equalities(problem.start)):
        constraints.append({"type": "eq", "fun": problem.equalities, "jac": problem.equality_jacobian})
    if len(problem.inequalities(problem.start)):
        constraints.append(
            {
                "type": "ineq",
                "fun": lambda x: -problem.inequalities(x),
                "jac": lambda x: -problem.inequality_jacobian(x),
            }
        )
    options = {"ftol": 1e-10, "maxiter": 500}
    return scipy_minimize(
        problem.fun, problem.start, jac=problem.grad, method="SLSQP", constraints=constraints, options=options
    )


def check(ours: ConstrainedResult, theirs: SciPyResult) -> None:
    """Assert that both found the same value."""
    assert ours.success, ours.message
    assert abs(ours.fun - theirs.fun) < 1e-5 * max(1, abs(theirs.fun)), f"{ours.fun} and {theirs.fun}"


def cases() -> Iterator[Case]:
    every = hock_schittkowski()
    for name in ("HS14", "HS35", "HS39", "HS43", "HS71", "HS76"):
        problem = every[name]
        yield Case(
            name, ours=partial(minimize, problem), peer_name="SciPy's SLSQP", peer=partial(peer, problem), check=check
        )
