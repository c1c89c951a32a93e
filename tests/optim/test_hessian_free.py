"""Shared tests of optim/hessian_free: run on the reference, and on the learner's file.

All is in float64 and deterministic. Tolerances of 1e-9 leave room for another order of summation; wider ones have their
reason beside them.
"""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.hessian_free import (
    adapt_damping,
    as_function,
    backtrack,
    checkpoints,
    gauss_newton_product,
    has_stalled,
    hessian_product,
    minimize,
    softmax_product,
    truncated_cg,
)
from mlpath.testing import assert_close

torch.set_num_threads(1)
INF, NAN = float("inf"), float("nan")


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(*widths, n_samples=6, seed=0):
    """A perceptron as a function of its parameters, where it starts, and labels."""
    model = perceptron(widths, generator=torch.Generator().manual_seed(seed))
    predict, start = as_function(model, normal(n_samples, widths[0], seed=seed + 1))
    labels = torch.arange(n_samples) % widths[-1]
    return predict, start + 0.1 * normal(len(start), seed=seed + 2), labels


def slopes(predict, w):
    """The Jacobian of all outputs, flattened."""
    w = w.clone().requires_grad_()
    return torch.stack([torch.autograd.grad(z, w, retain_graph=True)[0] for z in predict(w).flatten()])


def softmax_matrix(logits):
    """The second derivatives of the mean cross entropy by all logits, flattened."""
    blocks = [torch.diag(p) - torch.outer(p, p) for p in logits.softmax(1)]
    return torch.block_diag(*blocks) / len(logits)


# hessian_product


def valley(w):
    return (1 - w[0]) ** 2 * w[1] + 3 * (w[1] - w[0] ** 2) ** 2 + torch.sin(w[2]) * w[0]


def test_hessian_product_of_a_case_by_hand():
    w, v = numbers(0.7, -1.3, 0.4), numbers(1.1, 0.6, -2.3)
    before = w.clone(), v.clone()
    a, b, c = w.tolist()
    cross = -2 * (1 - a) - 12 * a
    matrix = [
        [2 * b + 36 * a * a - 12 * b, cross, math.cos(c)],
        [cross, 6.0, 0.0],
        [math.cos(c), 0.0, -math.sin(c) * a],
    ]
    expected = numbers(*matrix) @ v
    got = hessian_product(valley, w, v)
    assert_close(got, expected, f"hessian_product(f, {w.tolist()}, {v.tolist()})", "(1)")
    assert not got.requires_grad, "hessian_product returned a part of a graph"
    assert_close(w, before[0], "hessian_product changed w, which now")
    assert_close(v, before[1], "hessian_product changed v, which now")
    assert w.grad is None and not w.requires_grad, "hessian_product left a gradient in w, or made w require one"
    low = hessian_product(valley, w.float(), v.float()).dtype
    assert low == torch.float32, f"hessian_product of float32 returned {low}"


def test_hessian_product_agrees_with_differences_of_gradients_of_a_network():
    predict, w, labels = network(5, 4, 3)
    v, h = normal(len(w), seed=9), 1e-5

    def gradient(w):
        w = w.clone().requires_grad_()
        return torch.autograd.grad(F.cross_entropy(predict(w), labels), w)[0]

    expected = (gradient(w + h * v) - gradient(w - h * v)) / (2 * h)
    got = hessian_product(lambda w: F.cross_entropy(predict(w), labels), w, v)
    # Central differences: errors of h squared and of 1e-16 / h.
    assert_close(
        got, expected, "hessian_product of a network's loss", "a difference of gradients", rtol=1e-5, atol=1e-8
    )


# softmax_product


def test_softmax_product_of_a_case_by_hand():
    logits, change = numbers([0.2, -0.7, 1.4], [0.9, 0.3, -1.1]), numbers([1.3, -0.4, 0.6], [0.7, 2.2, -1.5])
    before = logits.clone(), change.clone()
    expected = []
    for z, u in zip(logits, change):
        p = z.exp() / z.exp().sum()
        expected.append((p * u - p * float(p @ u)) / 2)
    got = softmax_product(logits, change)
    assert_close(got, torch.stack(expected), "softmax_product of two samples", "(3), for the mean of two", rtol=1e-9)
    assert_close(logits, before[0], "softmax_product changed logits, which now")
    assert_close(change, before[1], "softmax_product changed change, which now")
    low = softmax_product(logits.float(), change.float()).dtype
    assert low == torch.float32, f"softmax_product of float32 returned {low}"


def test_softmax_product_is_the_second_derivative_of_the_mean_cross_entropy():
    logits, change, labels = normal(4, 5), normal(4, 5, seed=1), torch.tensor([3, 0, 4, 4])
    z = logits.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(z, labels), z, create_graph=True)
    (expected,) = torch.autograd.grad((gradient * change).sum(), z)
    got = softmax_product(logits, change)
    assert_close(got, expected, "softmax_product", "double backward through the loss", rtol=1e-9, atol=1e-16)
    large = softmax_product(numbers([1000.0, -1000.0, 999.0]), numbers([1.0, 2.0, -1.0]))
    p = 1 / (1 + math.exp(-1))
    expected = numbers([p * (1 - 2 * p + 1), 0.0, -(1 - p) * (1 + 2 * p - 1)])
    assert_close(large, expected, "softmax_product at logits of 1000", "(3)", rtol=1e-9)


# gauss_newton_product


def test_gauss_newton_product_of_a_case_by_hand():
    w, v = numbers(0.6, -0.9), numbers(1.4, 0.5)
    before = w.clone(), v.clone()

    def predict(w):
        return torch.stack([w[0] * w[1], w[0] ** 2, 3 * w[1]])

    jacobian = numbers([-0.9, 0.6], [1.2, 0.0], [0.0, 3.0])
    middle = numbers([2.0, 0.3, 0.0], [0.3, 1.1, -0.2], [0.0, -0.2, 0.7])
    expected = jacobian.T @ middle @ jacobian @ v
    got = gauss_newton_product(predict, w, v, lambda z, u: middle @ u)
    assert_close(got, expected, f"gauss_newton_product at {w.tolist()} of {v.tolist()}", "J' M J v, (2)")
    assert not got.requires_grad, "gauss_newton_product returned a part of a graph"
    assert_close(w, before[0], "gauss_newton_product changed w, which now")
    assert_close(v, before[1], "gauss_newton_product changed v, which now")
    assert not w.requires_grad, "gauss_newton_product made w require a gradient"
    low = gauss_newton_product(predict, w.float(), v.float(), lambda z, u: z * u).dtype
    assert low == torch.float32, f"gauss_newton_product of float32 returned {low}"


def test_gauss_newton_product_hands_the_outputs_to_the_curvature():
    seen = []

    def curvature(z, u):
        seen.append((z.detach().clone(), u.detach().clone()))
        return z.square() * u

    predict, w, _ = network(3, 4, 2)
    v = normal(len(w), seed=9)
    gauss_newton_product(predict, w, v, curvature)
    assert len(seen) == 1, f"gauss_newton_product called the loss' curvature {len(seen)} times, expected once"
    assert_close(seen[0][0], predict(w), "what the curvature got first", "the outputs at w")
    expected = (slopes(predict, w) @ v).view(6, 2)
    assert_close(seen[0][1], expected, "what the curvature got second", "J v, in the outputs' shape", atol=1e-12)


def test_gauss_newton_product_equals_the_explicit_matrix_which_is_positive_semidefinite():
    predict, w, labels = network(4, 3, 3)
    jacobian = slopes(predict, w)
    matrix = jacobian.T @ softmax_matrix(predict(w).detach()) @ jacobian
    got = torch.stack([gauss_newton_product(predict, w, e, softmax_product) for e in torch.eye(len(w)).double()])
    assert_close(got, matrix, "gauss_newton_product of all unit vectors", "J' M J, (2)", rtol=1e-9, atol=1e-14)
    least = torch.linalg.eigvalsh(got).min().item()
    assert least > -1e-12, f"the Gauss-Newton matrix has the eigenvalue {least}; it is positive semidefinite"
    v = normal(len(w), seed=9)
    full = hessian_product(lambda w: F.cross_entropy(predict(w), labels), w, v)
    assert (full - matrix @ v).abs().max() > 1e-3, "gauss_newton_product returned the Hessian's product"


def test_gauss_newton_product_is_the_hessian_of_a_model_linear_in_its_parameters():
    predict, w, labels = network(4, 3)
    v = normal(len(w), seed=9)
    expected = hessian_product(lambda w: F.cross_entropy(predict(w), labels), w, v)
    got = gauss_newton_product(predict, w, v, softmax_product)
    assert_close(got, expected, "gauss_newton_product of one linear layer", "the Hessian: no second sum", atol=1e-14)


# has_stalled


def test_has_stalled_of_cases_by_hand():
    flat, cases = [-1.01] * 9, []
    for values, eps, expected in (
        ([0.0, -0.5, -1.0, *flat, -1.02], 0.005, True),  # a gain of 0.02 where 10 * 0.005 * 1.02 = 0.051 is asked
        ([0.0, -0.5, -0.9, *flat, -1.02], 0.005, False),  # 0.12
        ([0.0, -0.5, -0.9, *flat, -1.02], 0.02, True),  # 0.12 where 0.204 is asked
        ([0.0, -0.5, -0.965, *flat, -1.02], 0.005, False),  # 0.055
        ([0.0, -0.5, -0.97, *flat, -1.02], 0.005, True),  # 0.05
        ([-1.0] * 11, 0.005, False),  # ten steps: i > k does not hold
        ([-1.0] * 12, 0.005, True),  # eleven steps
        ([0.5, 0.5] + [-1.0] * 12, 0.005, True),
        ([0.3, -1.0, *flat, -1.0], 0.005, True),  # eleven steps, back to the first of them
        ([0.9, *[0.5] * 20], 0.005, False),  # nothing is below zero yet
        ([*[0.5] * 11, 0.9], 0.005, False),
        ([0.5] * 11 + [0.0], 0.005, False),
        ([-1.0] * 11 + [0.0], 0.005, False),  # zero is not below zero
        ([0.0, -0.84375, *[-0.9] * 9, -1.0], 1 / 64, False),  # exactly what is asked
        ([0.9], 0.005, False),
    ):
        cases.append((float(has_stalled(values, eps=eps)), float(expected)))
    got, expected = zip(*cases)
    assert_close(got, expected, "has_stalled, 1 for True, of fifteen cases (see the test)", "equation (6)")


def test_has_stalled_looks_back_over_a_tenth_of_a_long_run():
    values = [-1.0] * 131 + [-2.0] * 10 + [-2.0]  # 141 steps, k = 14: back to a value of -1
    assert not has_stalled(values, eps=0.01), "has_stalled after 141 steps: 14 steps ago lies 1.0 above; (6) says go on"
    values = [-1.0] * 121 + [-2.0] * 14 + [-2.0] * 7  # 14 steps ago it was -2 already
    assert has_stalled(values, eps=0.01), "has_stalled after 141 steps, of which the last 14 gained nothing, says go on"
    values = [-1.0] * 90 + [-1.1] * 10  # 99 steps, k = 10 (not 9): back to -1
    assert not has_stalled(values, eps=0.005), "has_stalled after 99 steps looks back 10; (6) says go on"
    values = [-0.5] * 106 + [-0.937, -0.937, -0.94, -0.96] + [-1.0] * 10  # 119 steps: 0.06 in 11 steps, 0.055 asked
    assert not has_stalled(values, eps=0.005), "has_stalled after 119 steps looks back 11; (6) says go on"


# truncated_cg


def system(dim=12, seed=0, least=0.5):
    axes, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))
    matrix = (axes * np.geomspace(least, 50.0, dim)) @ axes.T
    return (matrix + matrix.T) / 2, np.random.default_rng(seed + 1).standard_normal(dim)


def test_truncated_cg_of_a_case_by_hand():
    matrix, rhs, start = np.array([[3.1, 0.8], [0.8, 1.9]]), np.array([1.7, -2.3]), np.array([0.4, -0.6])
    before = rhs.copy(), start.copy()
    run = truncated_cg(lambda v: matrix @ v, rhs, start)
    r = rhs - matrix @ start
    first = start + r @ r / (r @ matrix @ r) * r
    points = np.array([start, first, np.linalg.solve(matrix, rhs)])
    assert_close(run.points, points, "truncated_cg of a system of two: points", "conjugate gradients'", rtol=1e-8)
    values = [x @ matrix @ x / 2 - rhs @ x for x in points]
    assert_close(run.values, values, "truncated_cg of a system of two: values", "the model (4)", rtol=1e-8)
    assert run.direction is None, f"truncated_cg of a positive definite system returned the direction {run.direction}"
    assert_close(rhs, before[0], "truncated_cg changed rhs, which now")
    assert_close(start, before[1], "truncated_cg changed start, which now")


def test_truncated_cg_lowers_the_model_at_every_step_and_calls_the_product_once_a_step():
    matrix, rhs = system(30)
    calls = []

    def product(v):
        calls.append(1)
        return matrix @ v

    run = truncated_cg(product, rhs, np.zeros(30), max_iter=7)
    assert len(run.points) == len(run.values) == 8, f"7 steps have 8 points and values, not {len(run.points)}"
    assert len(calls) <= 8, f"truncated_cg made {len(calls)} products in 7 steps, expected one more than steps"
    assert (np.diff(run.values) < 0).all(), f"the model rose along {run.values}"
    values = [x @ matrix @ x / 2 - rhs @ x for x in run.points]
    assert_close(run.values, values, "truncated_cg: values", "(4), equal to (5)", rtol=1e-7, atol=1e-12)


def test_truncated_cg_stops_where_it_no_longer_pays():
    matrix, rhs = system(80, least=1e-2)
    for eps in (5e-3, 2e-2):
        run = truncated_cg(lambda v: matrix @ v, rhs, np.zeros(80), max_iter=200, eps=eps)
        steps = len(run.values) - 1
        assert 10 < steps < 200, f"truncated_cg(eps={eps}) made {steps} steps of a hard system"
        assert has_stalled(run.values, eps=eps), (
            f"truncated_cg(eps={eps}) stopped after {steps} steps: (6) does not hold"
        )
        early = has_stalled(run.values[:-1], eps=eps)
        assert not early, f"truncated_cg(eps={eps}) went on after (6) held: {steps} steps"


def test_truncated_cg_returns_a_direction_of_negative_curvature_and_does_not_walk_it():
    matrix, rhs, calls = np.diag([2.0, 1.0, -3.0]), np.array([1.0, 1.0, 0.1]), []

    def product(v):
        calls.append(v)
        return matrix @ v

    run = truncated_cg(product, rhs, np.zeros(3))
    assert len(calls) <= 4, f"truncated_cg made {len(calls)} products to find the third direction bad, expected four"
    first = (rhs @ rhs) / (rhs @ matrix @ rhs) * rhs
    residual = rhs - matrix @ first
    direction = residual + (residual @ residual) / (rhs @ rhs) * rhs
    assert direction @ matrix @ direction > 0, "the second direction is still good"
    second = first + (residual @ residual) / (direction @ matrix @ direction) * direction
    call = "truncated_cg of diag(2, 1, -3): points"
    assert_close(run.points, [0 * rhs, first, second], call, "two steps, the third curves downwards", rtol=1e-7)
    assert run.direction is not None, "truncated_cg of an indefinite matrix returned no direction"
    bend = run.direction @ matrix @ run.direction
    assert bend <= 0, f"truncated_cg stopped for a direction along which the curvature is {bend}"
    run = truncated_cg(lambda v: np.array([0.0, 3.0]) * v, np.array([1.0, 0.0]), np.zeros(2))
    assert len(run.points) == 1 and run.direction is not None, f"no curvature along the first direction: {run}"


def test_truncated_cg_does_not_mind_the_unit():
    matrix, rhs = system(5)
    for scale in (1e-13, 1e13):
        run = truncated_cg(lambda v: matrix @ v, scale * rhs, np.zeros(5))
        call = f"truncated_cg of a right side of size {scale:g}: the last point"
        assert_close(run.points[-1] / scale, np.linalg.solve(matrix, rhs), call, "the solution", rtol=1e-6)


def test_truncated_cg_starts_warm_and_ends_where_nothing_is_left():
    matrix, rhs = system(12)
    solution = np.linalg.solve(matrix, rhs)
    cold = truncated_cg(lambda v: matrix @ v, rhs, np.zeros(12), max_iter=5)
    hot = truncated_cg(lambda v: matrix @ v, rhs, 0.95 * solution, max_iter=5)
    assert_close(hot.points[0], 0.95 * solution, "truncated_cg: the first point", "the start")
    assert hot.values[-1] < cold.values[-1], (
        "after 5 steps from 0.95 of the solution the model is no lower than from zero"
    )
    for rhs, start in ((np.zeros(3), np.zeros(3)), (np.array([2.0, 0.0, 4.0]), np.array([1.0, 0.0, 2.0]))):
        run = truncated_cg(lambda v: 2 * v, rhs, start)
        assert len(run.points) == 1 and run.direction is None, f"from the solution no step is needed: {run}"


# backtrack


def test_backtrack_goes_back_as_long_as_the_loss_gets_lower():
    points = np.arange(21.0)[:, None] * [1.0, -2.0]
    assert checkpoints(20) == [1, 2, 3, 4, 5, 7, 9, 11, 14, 18, 20], "the checkpoints are given"
    for goal, expected in ((100.0, 20), (15.5, 14), (8.2, 9), (5.4, 5), (0.0, 1), (18.4, 18)):
        seen = []

        def fun(d, goal=goal, seen=seen):
            seen.append(int(d[0]))
            return float((d[0] - goal) ** 2)

        point, value = backtrack(fun, points)
        call = f"backtrack for a loss that is lowest at {goal}, of checkpoints {checkpoints(20)}: the point"
        assert_close(point, points[expected], call, "the lowest on the way back")
        assert_close(value, (expected - goal) ** 2, f"backtrack for {goal}: the loss", "the loss there", rtol=1e-12)
        assert max(seen) == 20 and set(seen) <= set(checkpoints(20)), f"backtrack looked at {seen}"


def test_backtrack_stops_at_the_first_rise_and_keeps_the_later_of_equal_points():
    losses = {20: 5.0, 18: 4.0, 14: 4.5, 11: 0.0}
    point, value = backtrack(lambda d: losses.get(int(d[0]), 9.0), np.arange(21.0)[:, None])
    assert (point[0], value) == (18.0, 4.0), f"losses 5, 4, 4.5, 0 from the last back: {point}, {value}; stop at 18"
    losses = {20: 5.0, 18: 5.0, 14: 4.0}
    point, value = backtrack(lambda d: losses.get(int(d[0]), 9.0), np.arange(21.0)[:, None])
    assert (point[0], value) == (20.0, 5.0), f"losses 5, 5, 4 from the last back: {point}, {value}; stop at the last"
    point, value = backtrack(lambda d: 3.0, np.arange(21.0)[:, None])
    assert (point[0], value) == (20.0, 3.0), f"equal losses everywhere: {point}, {value}; the last point wins"


def test_backtrack_passes_over_losses_that_are_no_numbers():
    point, value = backtrack(lambda d: INF, np.arange(21.0)[:, None])
    assert (point[0], value) == (20.0, INF), f"infinite losses everywhere: {point}, {value}; the last point wins"
    for bad in (NAN, INF):
        losses = {20: bad, 18: bad, 14: 4.5, 11: 4.0, 9: 6.0}
        point, value = backtrack(lambda d, losses=losses: losses.get(int(d[0]), 9.0), np.arange(21.0)[:, None])
        assert (point[0], value) == (11.0, 4.0), f"after losses of {bad} backtrack took {point}, {value}; expected 11"
    point, value = backtrack(lambda d: 2.5, np.array([[0.7, 0.1]]))
    assert_close(point, [0.7, 0.1], "backtrack of a run without steps: the point", "the only one")


# adapt_damping


def test_adapt_damping_follows_the_rule_below_equation_7():
    for achieved, promised, expected in (
        (-0.1, -0.5, 10.2),
        (-0.124, -0.5, 10.2),
        (-0.125, -0.5, 6.8),
        (-0.126, -0.5, 6.8),
        (-0.375, -0.5, 6.8),
        (-0.374, -0.5, 6.8),
        (-0.376, -0.5, 6.8 * 2 / 3),
        (-0.9, -0.5, 6.8 * 2 / 3),
        (0.3, -0.5, 10.2),
        (INF, -0.5, 10.2),
        (NAN, -0.5, 10.2),
        (-0.4, 0.5, 10.2),
        (0.4, 0.5, 10.2),
        (0.0, 0.0, 10.2),
    ):
        got = adapt_damping(6.8, achieved, promised)
        call = f"adapt_damping(6.8, achieved={achieved}, promised={promised})"
        assert_close(got, expected, call, "Levenberg and Marquardt's rule below (7)", rtol=1e-12)


# minimize


def squares(targets):
    return lambda z: (z - targets).square().sum() / 2, lambda z, u: u


def test_minimize_solves_a_quadratic_in_a_step_of_the_damped_model():
    """With 3 parameters conjugate gradients are exact, so that each step can be written down."""
    design, targets = normal(8, 3), normal(8, seed=1)
    loss, curvature = squares(targets)
    start = numbers(0.3, -0.8, 1.1)
    before = start.clone()
    result = minimize(lambda w: design @ w, loss, curvature, start, damping=0.6, max_iter=2, tol=0)
    w, damping, values = start, 0.6, []
    matrix = design.T @ design
    for _ in range(2):
        gradient = matrix @ w - design.T @ targets
        step = -torch.linalg.solve(matrix + damping * torch.eye(3), gradient)
        values.append(loss(design @ w).item())
        gained = loss(design @ (w + step)).item() - values[-1]
        ratio = gained / float(gradient @ step + step @ matrix @ step / 2)
        assert abs(ratio - 1) < 1e-6, "the model of a quadratic is exact"
        w, damping = w + step, damping * 2 / 3
    assert_close(result.x, w, "minimize of a least-squares problem, two steps: x", "(4) solved twice", rtol=1e-6)
    assert_close(result.losses, [*values, loss(design @ w).item()], "its losses", "at each point", rtol=1e-6)
    assert_close(result.dampings, [0.6, 0.4, 0.8 / 3], "its dampings", "two thirds after each good step", rtol=1e-9)
    assert len(result.cg_steps) == 2, f"two steps, but cg_steps is {result.cg_steps}"
    assert_close(result.fun, result.losses[-1], "minimize(...).fun", "the last loss")
    counts = (result.nit, result.success, result.message)
    assert counts == (2, False, OUT_OF_STEPS), f"minimize(max_iter=2, tol=0): nit, success, message {counts}"
    assert_close(start, before, "minimize changed its start, which now")


def test_minimize_starts_conjugate_gradients_from_the_solution_before():
    design, targets = normal(60, 40), normal(60, seed=1)
    loss, curvature = squares(targets)
    starts = []

    def watched(z, u):
        starts.append(u.clone())
        return u

    options = {"damping": 0.5, "max_iter": 2, "tol": 0, "max_cg": 3}
    result = minimize(lambda w: design @ w, loss, watched, torch.zeros(40).double(), warm=0.8, **options)
    assert_close(result.cg_steps, [3, 3], "minimize(max_cg=3): cg_steps", "three each")
    first = (3 + 1) + 1  # the products of the first run, and the one for (7)
    assert_close(starts[0], torch.zeros(60), "the first product", "A times 0: the first run starts from zero", atol=0)
    # The first step is the last point of the first run, for the last is the best on a quadratic.
    one = minimize(lambda w: design @ w, loss, curvature, torch.zeros(40).double(), **options | {"max_iter": 1})
    expected = 0.8 * (design @ one.x)
    near = min(float((u - expected).abs().max()) for u in starts[first - 1 : first + 1])
    assert near < 1e-9, "the second run of conjugate gradients does not start from 0.8 times the first one's solution"


def test_minimize_compares_the_gain_with_what_the_undamped_model_promised():
    """For a loss whose curvature is said to be c: the ratio (7) is (2 - 1/c) for small dampings."""
    design, targets = normal(8, 3), normal(8, seed=1)
    loss, _ = squares(targets)
    for c, factor in ((0.54, 1.5), (0.6, 1.0), (0.78, 1.0), (0.82, 2 / 3), (2.0, 2 / 3)):
        options = {"damping": 1e-6, "max_iter": 1, "tol": 0}
        result = minimize(lambda w: design @ w, loss, lambda z, u, c=c: c * u, numbers(0.3, -0.8, 1.1), **options)
        call = f"minimize where (7) is {2 - 1 / c:.3f}: the dampings"
        assert_close(result.dampings, [1e-6, factor * 1e-6], call, "the rule below (7)", rtol=1e-9)


def test_minimize_takes_the_point_that_backtrack_chooses():
    """The last point trusts a flat direction, in which a wall is hidden."""

    def predict(w):
        return torch.stack([10 * w[0], 0.1 * w[1] + w[1] ** 4])

    loss, curvature = squares(numbers(10.0, 1.0))
    result = minimize(predict, loss, curvature, numbers(0.0, 0.0), damping=1e-3, max_iter=1, tol=0)
    matrix, rhs = np.diag([100.001, 0.011]), np.array([100.0, 0.1])
    expected = (rhs @ rhs) / (rhs @ matrix @ rhs) * rhs
    assert_close(result.x, expected, "minimize where the second point of the run is worse: x", "the first", rtol=1e-7)
    assert_close(result.cg_steps, [2], "its cg_steps", "both steps count", rtol=1e-9)


def test_minimize_rejects_steps_that_do_not_lower_the_loss_and_damps_more():
    loss, curvature = squares(numbers(0.0))

    def predict(w):  # the slope promises a valley that a wall hides
        return torch.where(w > 0.9, w, 5.0 + w)

    result = minimize(predict, loss, curvature, numbers(1.0), damping=1e-3, max_iter=6, tol=1e-3)
    assert (np.diff(result.losses) <= 1e-15).all(), f"the loss rose: {result.losses}"
    assert_close(result.dampings[:4], 1e-3 * 1.5 ** np.arange(4), "dampings of rejected steps", "3/2 each", rtol=1e-9)
    assert_close(result.x, [1.0], "x after steps that were all rejected", "the start")
    assert result.nit == 6 and not result.success, f"rejected steps count as well: {result}"
    result = minimize(lambda w: w, loss, lambda z, u: u / 4, numbers(1.0), damping=0.25, max_iter=1, tol=0)
    assert_close(result.x, [1.0], "x after a step to -1, where the loss is the same", "the start")


def test_minimize_learns_the_digits_in_a_few_steps():
    x, labels = digits(60)
    predict, start = as_function(perceptron((64, 6, 10), generator=torch.Generator().manual_seed(0)), x)
    result = minimize(
        predict, lambda z: F.cross_entropy(z, labels), softmax_product, start, damping=0.03, max_iter=4, max_cg=15
    )
    w = start.clone()
    for _ in range(30):
        w.requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(predict(w), labels), w)
        w = (w - gradient).detach()
    plain = F.cross_entropy(predict(w), labels).item()
    said = f"4 steps on 60 digits end at {result.fun:.3f}, 30 of gradient descent at {plain:.3f}"
    assert result.fun < plain, f"{said}; lower is expected"
    assert (np.diff(result.losses) < 0).all(), f"the loss rose: {result.losses}"


def test_minimize_walks_down_rosenbrocks_valley():
    """As least squares, where gradient descent needs thousands of steps."""

    def predict(w):
        return torch.stack([10 * (w[1] - w[0] ** 2), 1 - w[0]])

    loss, curvature = squares(numbers(0.0, 0.0))
    result = minimize(predict, loss, curvature, numbers(-1.2, 1.0), damping=0.01, tol=1e-6, max_iter=60)
    assert result.success, f"minimize of Rosenbrock's function: {result.message!r} after {result.nit} steps"
    assert_close(result.x, [1.0, 1.0], "minimize of Rosenbrock's function: x", "the minimum", rtol=1e-5)
    assert (np.diff(result.losses) <= 0).all(), f"the loss rose: {result.losses}"
    assert len(result.losses) == len(result.dampings) == result.nit + 1, (
        f"one loss and damping more than steps: {result}"
    )


def test_minimize_converges_at_max_iter_and_at_the_start():
    loss, curvature = squares(numbers(0.4, -1.2))
    options = {"damping": 1e-9, "tol": 1e-6}
    result = minimize(lambda w: 2 * w, loss, curvature, numbers(1.0, 1.0), max_iter=1, **options)
    assert (result.nit, result.success, result.message) == (1, True, CONVERGED), (
        f"one step is enough, and allowed: {result}"
    )
    result = minimize(lambda w: 2 * w, loss, curvature, numbers(0.2, -0.6), **options)
    assert (result.nit, result.success, len(result.losses)) == (0, True, 1), f"from the minimum: {result}"
    assert_close(result.dampings, [1e-9], "dampings where no step was made", "the first one")


def test_minimize_says_that_it_diverges_and_lets_the_users_errors_through():
    result = minimize(lambda w: w.log(), lambda z: z.sum(), lambda z, u: 0 * u, numbers(-1.0))
    assert (result.nit, result.success, result.message) == (0, False, DIVERGED), f"NaN at the start: {result}"

    def curvature(z, u):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        minimize(lambda w: w, lambda z: z.square().sum(), curvature, numbers(1.0))
    result = minimize(
        lambda w: w, lambda z: z.square().sum(), lambda z, u: 2 * u, numbers(1.0, 2.0).float(), max_iter=2
    )
    assert result.x.dtype == torch.float32, f"from a start in float32 came {result.x.dtype}"


# given


@pytest.mark.given
def test_hessian_product_and_gauss_newton_product_refuse_what_is_no_vector():
    for w, v, name in (
        (numbers([1.0]), numbers([1.0]), "w"),
        (numbers(1.0, NAN), numbers(1.0, 1.0), "w"),
        (numbers(1.0, 1.0), numbers(1.0), "v"),
    ):
        with pytest.raises(ValueError, match=name):
            hessian_product(torch.sum, w, v)
        with pytest.raises(ValueError, match=name):
            gauss_newton_product(torch.sin, w, v, lambda z, u: u)


@pytest.mark.given
def test_softmax_product_refuses_what_does_not_fit():
    for logits, change, name in (
        (numbers(1.0, 2.0), numbers(1.0, 2.0), "logits"),
        (numbers([NAN, 2.0]), numbers([1.0, 2.0]), "logits"),
        (numbers([1.0, 2.0]), numbers([1.0, 2.0], [3.0, 4.0]), "change"),
    ):
        with pytest.raises(ValueError, match=name):
            softmax_product(logits, change)


@pytest.mark.given
def test_has_stalled_and_truncated_cg_and_adapt_damping_refuse_bad_arguments():
    with pytest.raises(ValueError, match="values"):
        has_stalled([])
    with pytest.raises(ValueError, match="eps"):
        has_stalled([1.0], eps=0.0)
    with pytest.raises(ValueError, match="damping"):
        adapt_damping(0.0, -1.0, -1.0)
    for rhs, start, options, name in (
        ([NAN], [0.0], {}, "rhs"),
        ([1.0], [0.0, 1.0], {}, "start"),
        ([1.0], [0.0], {"max_iter": 0}, "max_iter"),
        ([1.0], [0.0], {"eps": -1.0}, "eps"),
    ):
        with pytest.raises(ValueError, match=name):
            truncated_cg(lambda v: v, np.array(rhs), np.array(start), **options)


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("start", {"start": numbers(NAN)}),
        ("damping", {"damping": 0.0}),
        ("warm", {"warm": 1.0}),
        ("max_cg", {"max_cg": 0}),
        ("max_iter", {"max_iter": 0}),
        ("tol", {"tol": -1.0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, options):
    loss, curvature = squares(numbers(0.0))
    with pytest.raises(ValueError, match=name):
        minimize(lambda w: w, loss, curvature, **{"start": numbers(1.0)} | options)
