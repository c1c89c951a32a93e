"""The strong Wolfe search beside SciPy's, from the same start with the same constants: both steps must satisfy (2) and (4)."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import line_search

from mlpath.optim._shared import Problem, breast_cancer, quadratic, rosenbrock
from mlpath.optim.line_search import Ray, strong_wolfe_search
from mlpath.workbench.bench import Case

DECREASE, CURVATURE = 1e-4, 0.1


def ours(problem: Problem, x: np.ndarray, direction: np.ndarray) -> float:
    """Return the step size of the reference."""
    return strong_wolfe_search(
        Ray(problem.fun, problem.grad, x, direction), decrease=DECREASE, curvature=CURVATURE
    ).step_size


def peer(problem: Problem, x: np.ndarray, direction: np.ndarray) -> float:
    """Return SciPy's step size."""
    return line_search(problem.fun, problem.grad, x, direction, c1=DECREASE, c2=CURVATURE)[0]


def check(problem: Problem, x: np.ndarray, direction: np.ndarray, step_size: float, theirs: float) -> None:
    """Assert the strong conditions of Wolfe for both."""
    start = problem.grad(x) @ direction
    for a in (step_size, theirs):
        assert problem.fun(x + a * direction) <= problem.fun(x) + DECREASE * a * start, f"{a} fails (2)"
        assert abs(problem.grad(x + a * direction) @ direction) <= CURVATURE * abs(start), f"{a} fails (4)"


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for name, problem, length in (
        ("quadratic, dim 1000", quadratic(np.geomspace(0.01, 1, 1000), rng=rng), 1.0),
        ("Rosenbrock, dim 100", rosenbrock(100), 1e-3),
        ("logistic regression, breast cancer", breast_cancer(ridge=1e-2), 1.0),
    ):
        downhill = -problem.grad(problem.start)
        arguments = (problem, problem.start, downhill * length)
        yield Case(
            name,
            ours=partial(ours, *arguments),
            peer_name="scipy.optimize.line_search",
            peer=partial(peer, *arguments),
            check=partial(check, *arguments),
        )
