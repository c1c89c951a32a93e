"""What the optimisers share: the problems are what they say."""

import numpy as np
import pytest

from mlpath.optim._shared import (
    beale,
    breast_cancer,
    checked_gradient,
    himmelblau,
    logistic,
    quadratic,
    rastrigin,
    rosenbrock,
)
from mlpath.testing import assert_close


def _logistic():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((40, 5))
    return logistic(features, np.sign(features[:, 0] + rng.standard_normal(40)), ridge=0.1)


PROBLEMS = {
    "quadratic": quadratic(np.array([0.1, 1.0, 30.0]), rng=np.random.default_rng(0)),
    "rosenbrock": rosenbrock(),
    "rosenbrock, 7": rosenbrock(7),
    "himmelblau": himmelblau(),
    "beale": beale(),
    "rastrigin": rastrigin(),
    "rastrigin, 5": rastrigin(5),
    "logistic": _logistic(),
    "breast_cancer": breast_cancer(ridge=1e-2),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_agree_with_central_differences(name):
    problem = PROBLEMS[name]
    x = problem.start + 0.1
    moves = 1e-5 * np.eye(len(x))
    differences = [(problem.fun(x + move) - problem.fun(x - move)) / 2e-5 for move in moves]
    assert_close(problem.grad(x), differences, f"{name}.grad", "central differences", rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", PROBLEMS)
def test_products_with_the_hessian_agree_with_central_differences(name):
    problem = PROBLEMS[name]
    x = problem.start + 0.1
    v = np.cos(np.arange(len(x)) + 0.3)
    differences = (problem.grad(x + 1e-5 * v) - problem.grad(x - 1e-5 * v)) / 2e-5
    scale = abs(differences).max()
    assert_close(problem.hvp(x, v), differences, f"{name}.hvp", "central differences", rtol=1e-6, atol=1e-6 * scale)
    products = [problem.hvp(x, v), problem.hvp(x, 2 * v)]
    both = problem.hvp(x, np.column_stack([v, 2 * v]))
    assert_close(
        both, np.transpose(products), f"{name}.hvp of two columns", "one by one", rtol=1e-12, atol=1e-12 * scale
    )


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_minimum_is_one(name):
    problem = PROBLEMS[name]
    assert abs(problem.grad(problem.minimum)).max() < 1e-12, f"{name} has a gradient at its minimum"
    values = np.linalg.eigvalsh(problem.hessian)
    assert values[0] > 0, f"{name} curves down at its minimum, by {values[0]}"


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_curvature_lies_within_its_bounds(name):
    problem = PROBLEMS[name]
    values = np.linalg.eigvalsh(problem.hessian)
    assert problem.convexity <= values[0] * (1 + 1e-9), f"{name} is less convex than it says"
    assert values[-1] <= problem.smoothness * (1 + 1e-9), f"{name} is less smooth than it says"


def test_checked_gradient_refuses_another_shape_and_keeps_the_dtype():
    x = np.ones(3, np.float32)
    assert checked_gradient(lambda x: np.ones(3))(x).dtype == np.float32
    with pytest.raises(ValueError, match="grad"):
        checked_gradient(lambda x: np.ones((3, 1)))(x)
