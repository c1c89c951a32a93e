"""Loops, NumPy's fit of polynomials, and a class that counts."""

import math
from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import beale, himmelblau, quadratic, rosenbrock


@dataclass(frozen=True)
class Comparison:
    problems: tuple
    solvers: tuple
    costs: np.ndarray


def _refuse(wrong, message):
    if wrong:
        raise ValueError(message)


def errors(path, minimum):
    _refuse(np.ndim(path) != 2 or path.size == 0 or not np.isfinite(path).all(), f"path got {path}")
    _refuse(len(minimum) != path.shape[1] or not np.isfinite(minimum).all(), f"minimum got {minimum}")
    return np.array([math.dist(point, minimum) for point in path])


def steps_to(values, target):
    _refuse(len(values) == 0, "values is empty")
    _refuse(math.isnan(target), "target is NaN")
    answer = None
    for k in range(len(values) - 1, -1, -1):
        if not values[k] <= target:
            break
        answer = k
    return answer


def _logs(values, name, count):
    wrong = len(values) < count or not all(0 < v < math.inf for v in values)
    _refuse(wrong, f"{name} must be positive, got {values}")
    return np.log(values)


def linear_rate(errors):
    logs = _logs(errors, "errors", 2)
    return math.exp(np.polyfit(range(len(logs)), logs, 1)[0])


def exponent(scales, values):
    x, y = _logs(scales, "scales", 2), _logs(values, "values", 2)
    _refuse(len(x) != len(y), "scales and values differ in length")
    _refuse(max(x) == min(x), "scales are all the same")
    return np.polyfit(x, y, 1)[0]


def order(errors):
    logs = _logs(errors, "errors", 3)
    _refuse(max(logs[:-1]) == min(logs[:-1]), "errors are all the same")
    table = np.array([[x, 1.0] for x in logs[:-1]])
    (q, height), *_ = np.linalg.lstsq(table, logs[1:])
    return q, np.inf if height > 709 else math.exp(height)


def remaining_error(path):
    _refuse(np.ndim(path) != 2 or len(path) < 3 or not np.isfinite(path).all(), f"path got {path}")
    s_before, s = math.dist(path[-3], path[-2]), math.dist(path[-2], path[-1])
    if s == 0:
        return 0.0
    if s >= s_before:
        return math.inf
    rho = s / s_before
    return s * rho / (1 - rho)


class _Judge:
    def __init__(self, problem, target):
        lowest, first = problem.fun(problem.minimum), problem.fun(problem.start)
        self.problem, self.goal = problem, (1 - target) * lowest + target * first
        self.reached = []

    def fun(self, x):
        self.reached.append(self.problem.fun(x) <= self.goal)
        return self.problem.fun(x)

    def grad(self, x):
        self.reached.append(self.problem.fun(x) <= self.goal)
        return self.problem.grad(x)


def evaluations_to(solver, problem, *, target):
    _refuse(not 0 <= target < 1, f"target got {target}")
    judge = _Judge(problem, target)
    solver(judge.fun, judge.grad, np.array(problem.start))
    return 1.0 + judge.reached.index(True) if any(judge.reached) else math.inf


def suite():
    problems = {"Rosenbrock": rosenbrock(), "Rosenbrock, 10 variables": rosenbrock(10)}
    problems |= {"Himmelblau": himmelblau(), "Beale": beale()}
    rng = np.random.default_rng(0)
    return problems | {f"quadratic, {c}": quadratic(np.geomspace(1, c, 20), rng=rng) for c in (10, 100, 1000)}


def compare(solvers, problems, *, target=1e-6):
    _refuse(not solvers or not problems, "solvers and problems must not be empty")
    costs = [[evaluations_to(s, p, target=target) for s in solvers.values()] for p in problems.values()]
    return Comparison(tuple(problems), tuple(solvers), np.array(costs))


def performance_profile(costs, ratios):
    _refuse(costs.size == 0 or not np.all(costs > 0), f"costs got {costs}")
    _refuse(not all(1 <= r < math.inf for r in ratios), f"ratios got {ratios}")
    shares = np.zeros((len(ratios), costs.shape[1]))
    for row in costs:
        if not np.isfinite(row).any():
            continue
        for i, r in enumerate(ratios):
            for j, cost in enumerate(row):
                shares[i, j] += cost <= r * row.min()
    return shares / len(costs)
