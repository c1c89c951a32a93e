"""Sequential quadratic programming beside SciPy's SLSQP, which is the same method in compiled code: the minima must agree.

What counts where a function is expensive are evaluations: `minimize` makes about as many.
"""

from collections.abc import Iterator
from functools import partial

from scipy.optimize import OptimizeResult as SciPyResult
from scipy.optimize import minimize as scipy_minimize

from mlpath.optim._constrained import ConstrainedProblem, ConstrainedResult, hock_schittkowski
from mlpath.optim.sqp import minimize
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
    options = {"ftol": 1e-7, "maxiter": 500}  # with less it stops on HS100 without success, at the same point
    return scipy_minimize(
        problem.fun, problem.start, jac=problem.grad, method="SLSQP", constraints=constraints, options=options
    )


def check(ours: ConstrainedResult, theirs: SciPyResult) -> None:
    """Assert that both found the same value, with comparable numbers of evaluations."""
    assert ours.success, ours.message
    assert abs(ours.fun - theirs.fun) < 1e-5 * max(1, abs(theirs.fun)), f"{ours.fun} and {theirs.fun}"
    assert ours.nfev <= 2.5 * theirs.nfev, f"{ours.nfev} evaluations beside {theirs.nfev}"


def cases() -> Iterator[Case]:
    every = hock_schittkowski()
    for name in ("HS6", "HS14", "HS39", "HS40", "HS71", "HS100"):
        problem = every[name]
        yield Case(
            name,
            ours=partial(minimize, problem),
            peer_name="SciPy's SLSQP",
            peer=partial(peer, problem),
            check=check,
            limit=60.0,  # each subproblem is solved by an interior-point method in Python, from a cold start
        )
