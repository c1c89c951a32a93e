"""Shared tests of optim/shampoo: run on the reference, and on the learner's file.

Expectations over signs are taken exactly, over all of them. Tolerances of 1e-9 leave room for another order of
summation; wider ones have their reason beside them.
"""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mlpath.optim import adaptive
from mlpath.optim._networks import digits, perceptron
from mlpath.optim._shared import quadratic, rosenbrock
from mlpath.optim.adaptive import AdaGradState, AdamState, adagrad, adam
from mlpath.optim.gradient_descent import CONVERGED, DIVERGED, OUT_OF_STEPS
from mlpath.optim.shampoo import (
    ShampooState,
    adahessian,
    at_rest,
    gram,
    hutchinson,
    inverse_root,
    minimize,
    mode_product,
    rademacher,
    shampoo,
    spatial_average,
)
from mlpath.testing import assert_close

torch.set_num_threads(1)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def definite(order, seed=0):
    root = normal(order, order + 3, seed=seed)
    return root @ root.T / order


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**exponent) @ vectors.T


def orthogonal(order, seed=0):
    return np.linalg.qr(normal(order, order, seed=seed))[0]


class Network:
    """A perceptron on the digits as functions of a vector of NumPy: the small adapter."""

    def __init__(self, n_samples=100, widths=(64, 8, 10)):
        self.x, self.labels = digits(n_samples)
        self.model = perceptron(widths, generator=torch.Generator().manual_seed(0))
        self.start = parameters_to_vector(self.model.parameters()).detach().numpy().copy()

    def loss(self, point):
        vector_to_parameters(torch.from_numpy(point).clone(), self.model.parameters())
        return torch.nn.functional.cross_entropy(self.model(self.x), self.labels)

    def fun(self, point):
        with torch.no_grad():
            return self.loss(point).item()

    def grad(self, point):
        gradients = torch.autograd.grad(self.loss(point), list(self.model.parameters()))
        return parameters_to_vector(gradients).numpy()

    def hvp(self, point, v):
        gradients = torch.autograd.grad(self.loss(point), list(self.model.parameters()), create_graph=True)
        slope = torch.cat([g.flatten() for g in gradients]) @ torch.from_numpy(v)
        products = torch.autograd.grad(slope, list(self.model.parameters()))
        return torch.cat([p.flatten() for p in products]).numpy()


# inverse_root


def test_inverse_root_of_a_case_by_hand():
    axes = np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = axes @ np.diag([2.3, 0.7]) @ axes.T
    before = matrix.copy()
    for order, eps in ((2, 0.4), (4, 0.05), (6, 1.5)):
        expected = axes @ np.diag([(2.3 + eps) ** (-1 / order), (0.7 + eps) ** (-1 / order)]) @ axes.T
        got = inverse_root(matrix, order, eps=eps)
        assert_close(got, expected, f"inverse_root({matrix.round(3).tolist()}, {order}, eps={eps})", "(6)", rtol=1e-9)
    assert_close(matrix, before, "inverse_root changed its matrix, which now")
    low = inverse_root(matrix.astype(np.float32), 4, eps=0.1).dtype
    assert low == np.float32, f"inverse_root of float32 returned {low}"


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6])
def test_inverse_root_to_its_power_is_the_inverse(order):
    matrix = definite(7)
    root = inverse_root(matrix, order, eps=0.01)
    assert_close(root, root.T, f"inverse_root(M, {order})", "a symmetric matrix", atol=1e-12)
    got = np.linalg.matrix_power(root, order) @ (matrix + 0.01 * np.eye(7))
    assert_close(got, np.eye(7), f"inverse_root(M, {order}) to the power {order} times M + 0.01 I", "I", atol=1e-9)


def test_inverse_root_of_singular_and_nearly_indefinite_matrices():
    v = normal(5)
    for matrix in (np.outer(v, v), np.zeros((5, 5)), np.outer(v, v) - 1e-9 * np.eye(5)):
        rank_one = (v @ v + 1e-10) ** -0.25 if matrix.any() else 1e-10**-0.25
        unit = np.outer(v, v) / (v @ v)
        expected = rank_one * unit + 1e-10**-0.25 * (np.eye(5) - unit)
        got = inverse_root(matrix, 4, eps=1e-10)
        # Eigenvalues of 0 come out of eigh as some 1e-16, a millionth of eps.
        call = f"inverse_root of a matrix with the eigenvalues {np.linalg.eigvalsh(matrix).round(10)}"
        assert_close(got, expected, call, "(6), eigenvalues below 0 counted as 0", rtol=1e-4, atol=1e-4)


# gram


def test_gram_of_a_case_by_hand():
    tensor = np.array([[1.3, -0.4, 2.2], [0.7, 1.9, -0.8]])
    before = tensor.copy()
    assert_close(gram(tensor, 0), tensor @ tensor.T, "gram(G, 0) of G of shape (2, 3)", "G G'", rtol=1e-12)
    assert_close(gram(tensor, 1), tensor.T @ tensor, "gram(G, 1) of G of shape (2, 3)", "G' G", rtol=1e-12)
    assert_close(tensor, before, "gram changed its tensor, which now")
    v = np.array([1.3, -0.4, 2.2])
    assert_close(gram(v, 0), np.outer(v, v), "gram of a vector", "its outer product with itself", rtol=1e-12)
    low = gram(tensor.astype(np.float32), 0).dtype
    assert low == np.float32, f"gram of float32 returned {low}"


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_gram_sums_over_all_other_axes(axis):
    tensor = normal(2, 5, 3, 4)
    slices = [np.take(tensor, i, axis=axis) for i in range(tensor.shape[axis])]
    expected = [[(a * b).sum() for b in slices] for a in slices]
    assert_close(gram(tensor, axis), expected, f"gram of shape (2, 5, 3, 4), axis {axis}", "below (4)", atol=1e-12)


# mode_product


def test_mode_product_of_a_case_by_hand():
    tensor, matrix = np.array([[1.3, -0.4, 2.2], [0.7, 1.9, -0.8]]), np.array([[0.5, -1.2], [2.1, 0.3], [0.9, 0.6]])
    before = tensor.copy(), matrix.copy()
    call = "mode_product(G, M, 0) of shapes (2, 3) and (3, 2)"
    assert_close(mode_product(tensor, matrix, 0), matrix @ tensor, call, "M G, (5)", rtol=1e-12)
    call = "mode_product(G, M', 1) of shapes (2, 3) and (2, 3)"
    assert_close(mode_product(tensor, matrix.T, 1), tensor @ matrix, call, "G M, (5)", rtol=1e-12)
    assert_close(tensor, before[0], "mode_product changed its tensor, which now")
    assert_close(matrix, before[1], "mode_product changed its matrix, which now")


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mode_product_multiplies_along_one_axis_only(axis):
    tensor, matrix = normal(2, 5, 3), normal(4, (2, 5, 3)[axis], seed=1)
    letters = "abc"
    expected = np.einsum(f"abc,z{letters[axis]}->{letters.replace(letters[axis], 'z')}", tensor, matrix)
    got = mode_product(tensor, matrix, axis)
    assert_close(got, expected, f"mode_product of shape (2, 5, 3), axis {axis}", "equation (5)", rtol=1e-9, atol=1e-12)


# shampoo


def test_shampoo_of_a_case_by_hand():
    gradients = [np.array([[1.3, -0.4, 2.2], [0.7, 1.9, -0.8]]), np.array([[-0.6, 0.9, 0.3], [1.1, -1.7, 0.2]])]
    left, right = 0.2 * np.eye(2), 0.2 * np.eye(3)
    state = at_rest(gradients[0])
    for step, g in enumerate(gradients, start=1):
        before = g.copy(), [matrix.copy() for matrix in state.grams]
        following, update = shampoo(state, g, step_size=0.7, eps=0.2)
        left, right = left + g @ g.T, right + g.T @ g
        expected = -0.7 * power(left, -0.25) @ g @ power(right, -0.25)
        call = f"shampoo(step_size=0.7, eps=0.2), step {step} on a matrix 2 by 3"
        assert_close(update, expected, f"{call}: the update", "equation (3)", rtol=1e-9)
        assert_close(
            following.grams[0], left - 0.2 * np.eye(2), f"{call}: the first sum", "(2), without eps", rtol=1e-9
        )
        assert_close(
            following.grams[1], right - 0.2 * np.eye(3), f"{call}: the second sum", "(2), without eps", rtol=1e-9
        )
        assert_close(g, before[0], "shampoo changed its gradient, which now")
        for matrix, old in zip(state.grams, before[1]):
            assert_close(matrix, old, "shampoo changed its state, which now")
        state = following


def test_shampoo_of_a_vector_is_full_matrix_adagrad():
    state, total = at_rest(np.zeros(6)), 0.1 * np.eye(6)
    for step in range(4):
        g = normal(6, seed=step)
        state, update = shampoo(state, g, step_size=0.3, eps=0.1)
        total = total + np.outer(g, g)
        assert_close(update, -0.3 * power(total, -0.5) @ g, f"shampoo of a vector, step {step + 1}", "(1)", rtol=1e-8)


def test_shampoo_of_a_tensor_takes_roots_of_twice_the_number_of_axes():
    shape = (3, 2, 4)
    state, sums = at_rest(np.zeros(shape)), [0.1 * np.eye(n) for n in shape]
    for step in range(3):
        g = normal(*shape, seed=step)
        state, update = shampoo(state, g, step_size=0.3, eps=0.1)
        letters = ("ajk,bjk->ab", "iaj,ibj->ab", "ija,ijb->ab")
        sums = [total + np.einsum(rule, g, g) for total, rule in zip(sums, letters)]
        roots = [power(total, -1 / 6) for total in sums]
        expected = -0.3 * np.einsum("abc,ia,jb,kc->ijk", g, *roots)
        assert_close(update, expected, f"shampoo of shape (3, 2, 4), step {step + 1}", "equation (4)", rtol=1e-8)


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 2)])
def test_shampoo_makes_all_singular_values_equal_in_the_first_step(shape):
    g = normal(*shape)
    _, update = shampoo(at_rest(g), g, step_size=0.5, eps=1e-12)
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    # eps is 1e-12 of squared singular values; where the smallest is near 0.1, a relative change of 1e-10.
    call = f"shampoo's first update of shape {shape}"
    assert_close(update, -0.5 * u @ vt, call, "-a U V', equation (7)", rtol=1e-6, atol=1e-7)


def test_shampoo_turns_with_the_parameters_and_does_not_mind_their_scale():
    turn, other = orthogonal(3, seed=1), orthogonal(5, seed=2)
    plain, turned, scaled = (at_rest(np.zeros((3, 5))) for _ in range(3))
    for step in range(3):
        g = normal(3, 5, seed=step)
        plain, update = shampoo(plain, g, eps=1e-3)
        turned, moved = shampoo(turned, turn @ g @ other.T, eps=1e-3)
        scaled, same = shampoo(scaled, 1e4 * g, eps=1e5)
        call = f"step {step + 1} of shampoo with gradients U G V'"
        assert_close(moved, turn @ update @ other.T, call, "the update, turned too", rtol=1e-7, atol=1e-9)
        call = f"step {step + 1} of shampoo with 10^4 G and 10^8 eps"
        assert_close(same, update, call, "the same update", rtol=1e-7, atol=1e-9)


def test_shampoo_learns_the_digits_faster_than_adagrad():
    network = Network()
    shapes = [tuple(p.shape) for p in network.model.parameters()]
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])

    def run(rule, begin, step_size):
        point = network.start.copy()
        states = [begin(np.zeros(shape)) for shape in shapes]
        for _ in range(12):
            gradient, updates = network.grad(point), []
            for index, (first, last) in enumerate(pairwise(ends)):
                part = gradient[first:last].reshape(shapes[index])
                states[index], update = rule(states[index], part, step_size=step_size)
                updates.append(update.ravel())
            point = point + np.concatenate(updates)
        return network.fun(point)

    ours = run(shampoo, at_rest, 0.3)
    theirs = min(run(adagrad, lambda like: AdaGradState(0 * like), a) for a in (0.03, 0.1))
    said = f"after 12 steps on 100 digits shampoo has a loss of {ours:.3f}, AdaGrad at its best step size {theirs:.3f}"
    assert ours < 0.7 * theirs, f"{said}; less than 0.7 times that is expected"


# hutchinson

H3 = np.array([[2.4, -0.7, 1.3], [-0.7, 0.9, 0.5], [1.3, 0.5, -1.6]])


def test_hutchinson_of_a_case_by_hand():
    probes = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
    before = probes.copy()
    for chosen, expected in ((probes[:1], [4.4, 1.1, -0.8]), (probes, [2.4, 0.4, -2.1])):
        got = hutchinson(lambda v: H3 @ v, chosen)
        assert_close(got, expected, f"hutchinson(H, {chosen.tolist()})", "the mean of z times Hz, (8)", rtol=1e-9)
    assert_close(probes, before, "hutchinson changed its probes, which now")
    low = hutchinson(lambda v: H3.astype(np.float32) @ v, probes.astype(np.float32)).dtype
    assert low == np.float32, f"hutchinson in float32 returned {low}"


def test_hutchinson_is_unbiased_with_the_variance_of_equation_8():
    """Exactly: over all 32 vectors of signs."""
    matrix = definite(5) - 0.5 * np.eye(5)
    signs = np.array(list(product([-1.0, 1.0], repeat=5)))
    got = hutchinson(lambda v: matrix @ v, signs)
    assert_close(got, np.diag(matrix), "hutchinson with all vectors of signs", "the diagonal, (8)", rtol=1e-9)
    each = np.array([hutchinson(lambda v: matrix @ v, z[None]) for z in signs])
    expected = (matrix**2).sum(axis=1) - np.diag(matrix) ** 2
    assert_close(each.var(axis=0), expected, "the variance over all vectors of signs", "(8)", rtol=1e-9)


def test_hutchinson_calls_the_product_once_for_each_probe_of_any_shape():
    curvatures, seen = 1.0 + np.arange(6.0).reshape(2, 3), []

    def times(v):
        seen.append(v.shape)
        return curvatures * v

    probes = rademacher(4, curvatures, rng=np.random.default_rng(0))
    got = hutchinson(times, probes)
    assert_close(got, curvatures, "hutchinson of a diagonal Hessian", "that diagonal, whatever the signs", rtol=1e-12)
    assert seen == [(2, 3)] * 4, f"for 4 probes of shape (2, 3) the product was called with the shapes {seen}"


def test_hutchinson_of_a_network_finds_the_diagonal_of_its_hessian():
    network = Network(30, (64, 10))
    matrix = np.array([network.hvp(network.start, e) for e in np.eye(650)[-10:]])[:, -10:]  # of the last biases

    def product(v):
        return network.hvp(network.start, np.concatenate([np.zeros(640), v]))[-10:]

    signs = rademacher(64, np.zeros(10), rng=np.random.default_rng(1))
    expected = np.mean([z * (matrix @ z) for z in signs], axis=0)
    got = hutchinson(product, signs)
    assert_close(got, expected, "hutchinson by double backward", "by the explicit matrix", rtol=1e-8, atol=1e-12)
    off = abs(got - np.diag(matrix)) / np.sqrt(((matrix**2).sum(1) - np.diag(matrix) ** 2) / 64)
    assert off.max() < 6, f"64 probes are {off.max():.1f} standard errors of (8) off the diagonal"


# spatial_average


def test_spatial_average_of_a_case_by_hand():
    diagonal = np.array([[1.3, 2.9, -0.6, 4.1], [-2.2, 0.8, 5.7, 1.9]])
    before = diagonal.copy()
    expected = [[2.1, 2.1, 1.75, 1.75], [-0.7, -0.7, 3.8, 3.8]]
    assert_close(spatial_average(diagonal, 2), expected, f"spatial_average({diagonal.tolist()}, 2)", "(9)", rtol=1e-9)
    call = "spatial_average with a block of 4"
    assert_close(spatial_average(diagonal, 4)[1], [1.55] * 4, f"{call}: the second row", "(9)", rtol=1e-9)
    assert_close(spatial_average(diagonal, 8), np.full((2, 4), 1.7375), "spatial_average with one block", "the mean")
    assert_close(spatial_average(diagonal, 1), diagonal, "spatial_average with blocks of 1", "what went in")
    assert_close(diagonal, before, "spatial_average changed its diagonal, which now")
    low = spatial_average(diagonal.astype(np.float32), 2).dtype
    assert low == np.float32, f"spatial_average of float32 returned {low}"


# adahessian

REST = AdamState(0, np.zeros(2), np.zeros(2))


def test_adahessian_of_a_case_by_hand():
    history = [([1.7, -0.6], [2.3, -0.4]), ([-0.9, 1.4], [-1.1, 3.2]), ([0.3, 0.8], [0.7, 0.5])]
    for rho in (1.0, 0.6):
        state, m, v = REST, np.zeros(2), np.zeros(2)
        for step, (g, d) in enumerate(history, start=1):
            g, d = np.array(g), np.array(d)
            before = g.copy(), d.copy(), state.first.copy(), state.second.copy()
            following, update = adahessian(state, g, d, step_size=0.4, decays=(0.8, 0.95), power=rho, eps=0.01)
            m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * d * d
            expected = -0.4 * m / (1 - 0.8**step) / ((v / (1 - 0.95**step)) ** (rho / 2) + 0.01)
            call = f"adahessian(power={rho}), step {step}"
            assert following.count == step, f"{call} counts {following.count}"
            assert_close(following.first, m, f"{call}: m", "equation (10)", rtol=1e-9)
            assert_close(following.second, v, f"{call}: v", "equation (10)", rtol=1e-9)
            assert_close(update, expected, f"{call}: the update", "equation (10)", rtol=1e-9)
            assert_close(g, before[0], "adahessian changed its gradient, which now")
            assert_close(d, before[1], "adahessian changed its diagonal, which now")
            assert_close(state.first, before[2], "adahessian changed its state's m, which now")
            assert_close(state.second, before[3], "adahessian changed its state's v, which now")
            state = following


def test_adahessian_is_adam_when_the_gradient_takes_the_place_of_the_diagonal():
    mine = theirs = AdamState(0, np.zeros((2, 3)), np.zeros((2, 3)))
    for step in range(4):
        g = normal(2, 3, seed=step)
        mine, update = adahessian(mine, g, g, step_size=0.01)
        theirs, expected = adam(theirs, g, step_size=0.01)
        assert_close(update, expected, f"step {step + 1} of adahessian(state, g, g)", "Adam's", rtol=1e-9)


def test_adahessian_without_memory_is_newton_by_coordinates_and_keeps_the_units():
    curvatures, g = np.array([0.3, 7.0, -2.0, 40.0]), np.array([1.2, -0.8, 0.5, 3.0])
    rest = AdamState(0, np.zeros(4), np.zeros(4))
    options = {"step_size": 1.0, "decays": (0.0, 0.0), "eps": 1e-15}
    _, update = adahessian(rest, g, curvatures, **options)
    assert_close(update, -g / abs(curvatures), "adahessian without memory", "-g / |d|, (10)", rtol=1e-9)
    stretch = np.array([1e-3, 10.0, 1.0, 250.0])
    _, other = adahessian(rest, stretch * g, stretch**2 * curvatures, **options)
    assert_close(stretch * other, update, "adahessian after x = stretch y, in x", "the same step", rtol=1e-8)
    _, plain = adahessian(rest, g, curvatures, step_size=1.0, decays=(0.0, 0.0), power=0.0, eps=1e-15)
    assert_close(plain, -g, "adahessian with the power 0", "gradient descent", rtol=1e-9)


def test_adahessian_keeps_float32():
    rest = AdamState(0, np.zeros(2, np.float32), np.zeros(2, np.float32))
    state, update = adahessian(rest, np.ones(2, np.float32), np.ones(2, np.float32))
    found = {update.dtype, state.first.dtype, state.second.dtype}
    assert found == {np.dtype(np.float32)}, f"adahessian of float32 returned {found}"


# minimize


def walk(problem, **options):
    rng = np.random.default_rng(0)
    return minimize(problem.fun, problem.grad, problem.hvp, problem.start, rng=rng, record_path=True, **options)


def test_minimize_makes_the_steps_of_adahessian():
    """On a quadratic along the axes, where the signs do not matter."""
    curvatures = np.array([0.4, 9.0, 2.5, 30.0])
    start, calls = np.array([1.5, -2.0, 0.3, 0.7]), []

    def hvp(x, v):
        calls.append(np.array(x))
        return curvatures * v

    def fun(x):
        return float(x @ (curvatures * x)) / 2

    before = start.copy()
    options = {"step_size": 0.2, "decays": (0.7, 0.9), "power": 0.8}
    result = minimize(
        fun, lambda x: curvatures * x, hvp, start, **options, n_probes=2, block=2, max_iter=3, record_path=True,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    x, state = start, AdamState(0, np.zeros(4), np.zeros(4))
    for step in range(3):
        state, update = adahessian(state, curvatures * x, np.array([4.7, 4.7, 16.25, 16.25]), **options)
        x = x + update
        call = f"minimize of a bowl, block=2: point {step + 1} of the path"
        assert_close(result.path[step + 1], x, call, "(10) with the diagonal (4.7, 4.7, 16.25, 16.25)", rtol=1e-9)
    assert len(result.path) == 4, f"after 3 steps the path has {len(result.path)} points, expected 4"
    assert_close(result.path[0], start, "the first point of the path", "the start")
    assert_close(start, before, "minimize changed its start, which now")
    assert_close(result.x, x, "minimize(...).x", "the last point", rtol=1e-9)
    assert_close(result.fun, fun(x), "minimize(...).fun", "the objective at x", rtol=1e-9)
    counts = (result.nit, result.nfev, result.success, result.message)
    assert counts == (3, 4, False, OUT_OF_STEPS), f"minimize(max_iter=3): nit, nfev, success, message {counts}"
    assert_close(np.array(calls), np.repeat(result.path[:3], 2, axis=0), "where hvp was called", "twice at each point")
    assert walk(rosenbrock(), max_iter=2).path is not None, "record_path=True gave no path"


def test_minimize_draws_fresh_signs_in_every_step_from_its_generator():
    problem, seen = quadratic(np.ones(40), rng=np.random.default_rng(3)), []

    def hvp(x, v):
        seen.append(np.array(v))
        return v

    for _ in range(2):
        minimize(problem.fun, problem.grad, hvp, problem.start, max_iter=3, n_probes=2, rng=np.random.default_rng(5))
    probes = np.array(seen)
    assert_close(abs(probes), np.ones((12, 40)), "the sizes of the probes' entries", "1, above (8)")
    # Two vectors of 40 signs agree with a probability of 1e-12.
    assert len(np.unique(probes[:6], axis=0)) == 6, "minimize used a vector of signs twice in three steps of two probes"
    assert_close(probes[6:], probes[:6], "the probes of a second run with the same seed", "those of the first")


def test_minimize_finds_minima():
    problem = quadratic(np.geomspace(1, 10, 5), rng=np.random.default_rng(4))
    result = walk(problem, n_probes=2, step_size=0.5, decays=(0.5, 0.99), max_iter=500)
    assert result.success and result.message == CONVERGED, f"minimize of a quadratic: {result.message!r}"
    assert_close(result.x, problem.minimum, "minimize(...).x", "the minimum", atol=1e-5)
    assert result.nfev == result.nit + 1, f"{result.nit} steps need {result.nit + 1} values, not {result.nfev}"
    assert minimize(problem.fun, problem.grad, problem.hvp, problem.minimum, rng=np.random.default_rng(0)).nit == 0, (
        "from the minimum no step is needed"
    )


def test_minimize_needs_one_step_where_the_axes_are_right_which_max_iter_may_just_allow():
    curvatures = np.array([0.1, 3.0, 1e4])
    result = minimize(
        lambda x: float(x @ (curvatures * x)), lambda x: 2 * curvatures * x, lambda x, v: 2 * curvatures * v,
        [4.0, -1.0, 2.0], step_size=1.0, decays=(0.0, 0.0), max_iter=1, tol=1e-3, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert (result.nit, result.success) == (1, True), f"one step solves it, and max_iter=1 allows it: {result}"
    assert result.path is None, "minimize returned a path that nobody asked for"


def test_minimize_learns_the_digits():
    network = Network(60, (64, 8, 10))
    options = {"step_size": 0.05, "max_iter": 15, "tol": 1e-3}
    result = minimize(network.fun, network.grad, network.hvp, network.start, **options, rng=np.random.default_rng(0))
    begin = network.fun(network.start)
    # Over eight seeds 0.56 to 0.63 of the loss at the start are left.
    assert result.fun < 0.8 * begin, f"15 steps on 60 digits took the loss from {begin:.2f} to {result.fun:.2f} only"


def test_minimize_says_that_it_diverges_and_lets_the_users_errors_through():
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        result = minimize(lambda x: float(x @ x), lambda x: 2 * x, lambda x, v: 2 * v, [1.0], step_size=1e200, rng=rng)
    assert (result.success, result.message) == (False, DIVERGED), f"a step size of 1e200: {result}"

    def hvp(x, v):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        minimize(lambda x: x @ x, lambda x: 2 * x, hvp, [1.0], rng=rng)
    with pytest.raises(ValueError, match="product"):
        minimize(lambda x: x @ x, lambda x: 2 * x, lambda x, v: v[:1], [1.0, 2.0], rng=rng)
    with pytest.raises(ValueError, match="grad"):
        minimize(lambda x: x @ x, lambda x: x[:1], lambda x, v: v, [1.0, 2.0], rng=rng)
    start = np.array([0.4, -1.1], dtype=np.float32)
    result = minimize(lambda x: x @ x, lambda x: 2 * x, lambda x, v: 2 * v, start, max_iter=2, rng=rng)
    assert result.x.dtype == np.float32, f"from a start in float32 came {result.x.dtype}"


# given


@pytest.mark.given
def test_inverse_root_and_gram_and_mode_product_refuse_what_does_not_fit():
    for matrix, order, eps, name in (
        (np.ones((2, 3)), 2, 0.1, "matrix"),
        (np.diag([1.0, np.nan]), 2, 0.1, "matrix"),
        (np.eye(2), 0, 0.1, "order"),
        (np.eye(2), 2, 0.0, "eps"),
    ):
        with pytest.raises(ValueError, match=name):
            inverse_root(matrix, order, eps=eps)
    with pytest.raises(ValueError, match="axis"):
        gram(np.ones((2, 3)), 2)
    with pytest.raises(ValueError, match="axis"):
        mode_product(np.ones((2, 3)), np.eye(3), -1)
    with pytest.raises(ValueError, match="matrix"):
        mode_product(np.ones((2, 3)), np.eye(3), 0)


@pytest.mark.given
def test_shampoo_refuses_bad_settings_and_gradients():
    g = np.ones((2, 3))
    for name, options in (("step_size", {"step_size": 0.0}), ("eps", {"eps": -1.0})):
        with pytest.raises(ValueError, match=name):
            shampoo(at_rest(g), g, **options)
    for bad in (np.ones((3, 2)), np.full((2, 3), np.nan)):
        with pytest.raises(ValueError, match="gradient"):
            shampoo(at_rest(g), bad)
    with pytest.raises(ValueError, match="gradient"):
        shampoo(ShampooState(()), np.array(1.0))


@pytest.mark.given
def test_hutchinson_and_spatial_average_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="probes"):
        hutchinson(lambda v: v, np.ones((0, 3)))
    for block in (0, 4):
        with pytest.raises(ValueError, match="block"):
            spatial_average(np.ones(6), block)


@pytest.mark.given
def test_adahessian_refuses_bad_settings_and_shapes():
    g = np.ones(2)
    for name, options in (
        ("step_size", {"step_size": 0.0}),
        ("eps", {"eps": 0.0}),
        ("decays", {"decays": (0.9, 1.0)}),
        ("power", {"power": 1.5}),
    ):
        with pytest.raises(ValueError, match=name):
            adahessian(REST, g, g, **options)
    with pytest.raises(ValueError, match="gradient"):
        adahessian(REST, np.ones(3), g)
    with pytest.raises(ValueError, match="diagonal"):
        adahessian(REST, g, np.ones(3))


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("n_probes", {"n_probes": 0}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
    ],
)
def test_minimize_refuses_what_it_cannot_use(name, arguments):
    functions = {"fun": lambda x: x @ x, "grad": lambda x: 2 * x, "hvp": lambda x, v: 2 * v}
    with pytest.raises(ValueError, match=name):
        minimize(**functions | {"start": [1.0], "rng": np.random.default_rng(0)} | arguments)
    assert adaptive.at_rest(AdamState, np.zeros(1)).count == 0, "Adam's state before the first step counts 0"
