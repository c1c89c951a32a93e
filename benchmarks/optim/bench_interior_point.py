"""The interior-point method beside HiGHS (its interior-point solver, and its own choice) on dense linear programs: the values must agree to 1e-6.

Both see the problem as it is, with free variables, equations and inequalities. HiGHS is made for sparse problems, and moves to a
corner at the end.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import OptimizeResult as SciPyResult
from scipy.optimize import linprog

from mlpath.optim._constrained import ConstrainedResult
from mlpath.optim._programs import Program, random_program
from mlpath.optim.interior_point import solve
from mlpath.workbench.bench import Case


def peer(program: Program, method: str) -> SciPyResult:
    """Return SciPy's result."""
    return linprog(program.q, program.G, program.h, program.A, program.b, (None, None), method=method)


def check(ours: ConstrainedResult, theirs: SciPyResult) -> None:
    """Assert that both found the same value."""
    assert ours.success, ours.message
    assert abs(ours.fun - theirs.fun) < 1e-6 * max(1, abs(theirs.fun)), f"{ours.fun} and {theirs.fun}"


def cases() -> Iterator[Case]:
    for dim, n_equalities, n_inequalities, method in (
        (50, 15, 100, "highs-ipm"),
        (50, 15, 100, "highs"),
        (150, 50, 300, "highs-ipm"),
    ):
        program = random_program(dim, n_equalities, n_inequalities, rng=np.random.default_rng(dim))
        name = f"{dim} variables, {n_equalities} equations, {n_inequalities} inequalities ({method})"
        yield Case(
            name,
            ours=partial(solve, program),
            peer_name="SciPy's linprog",
            peer=partial(peer, program, method),
            check=check,
        )
