"""Shared tests of calculus/autodiff/array: run on the reference, and on the learner's file.

Each operation is tried by itself: the graph that it leaves is walked by `pull`, which follows every path, so that any way of
composing an operation from others will do. Oracles are numbers by hand, torch.autograd in double precision, and differences
(`check_gradient`). Data are seeded. Sums of some ten to hundred products are right to some 1e-15 of their size: 1e-12 is a
hundred times that or more. Differences along random directions fit a right gradient to some 1e-9, and 1e-6 is allowed.
"""

import math

import numpy as np
import pytest

from mlpath.calculus.autodiff.array import (
    Variable,
    add,
    backward,
    check_gradient,
    concatenate,
    divide,
    exp,
    index,
    log,
    log_sum_exp,
    matmul,
    multiply,
    power,
    record,
    reduce_max,
    reduce_sum,
    relu,
    reshape,
    tanh,
    transpose,
    unbroadcast,
    value_and_grad,
)
from mlpath.testing import assert_close

RTOL, ATOL = 1e-12, 1e-13
A = np.array([[1.3, -0.7, 2.1], [0.4, 3.2, -1.6]])
B = np.array([[0.9, 1.7, -2.3], [2.6, -0.8, 0.35]])
G = np.array([[0.21, -1.4, 0.65], [2.75, 0.55, -0.32]])


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def pull(y, x, g):
    """The gradient by `x` that the gradient `g` of `y` makes, summed over all paths."""
    if y is x:
        return g
    shares = [pull(parent, x, np.asarray(vjp(g))) for parent, vjp in zip(y.parents, y.vjps)]
    return sum((share for share in shares if share is not None), start=np.zeros(x.shape)) if shares else None


def inputs_of(y):
    """All that `y` was made from that was made from nothing."""
    return set().union(*map(inputs_of, y.parents)) if y.parents else {y}


def assert_operation(call, operation, arrays, g, value, gradients, equation, rtol=RTOL, atol=ATOL):
    """Compare the value of an operation and what it makes of a gradient `g` with what is expected."""
    inputs = [Variable(array) for array in arrays]
    y = operation(*inputs)
    assert isinstance(y, Variable), f"{call} returned {y!r}, expected a Variable"
    assert_close(y.value, value, f"{call}.value", equation, rtol=rtol, atol=atol)
    for i, (x, gradient) in enumerate(zip(inputs, gradients)):
        found, which = pull(y, x, np.asarray(g)), ("first", "second", "third")[i]
        assert found is not None, f"{call} does not have its {which} argument among its parents"
        assert_close(found, gradient, f"the vjp of {call} for its {which} argument", equation, rtol=rtol, atol=atol)


def assert_as_torch(call, operation, of_torch, *arrays, equation, seed=3):
    """Compare an operation with torch's."""
    pytest.importorskip("torch")
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    out = of_torch(*tensors)
    g = normal(*out.shape, seed=seed)
    gradients = torch.autograd.grad(out, tensors, torch.tensor(g))
    assert_operation(call, operation, arrays, g, out.detach().numpy(), [x.numpy() for x in gradients], equation)


def assert_float32(call, operation, *arrays):
    """Fail unless float32 stays float32, forwards and backwards."""
    inputs = [Variable(np.asarray(array, dtype=np.float32)) for array in arrays]
    y = operation(*inputs)
    assert y.dtype == np.float32, f"{call} of float32 has a value of {y.dtype}"
    for x in inputs:
        found = pull(y, x, np.ones(y.shape, dtype=np.float32) if y.shape else np.float32(1))
        # `pull` starts its sums in float64, so look at what the rule itself gives.
        assert found is not None, f"{call} does not have its argument among its parents"
    for vjp in y.vjps:
        kind = np.asarray(vjp(np.ones(y.shape, dtype=np.float32))).dtype
        assert kind == np.float32, f"a vjp of {call} makes {kind} of a float32 gradient"


# unbroadcast


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3,), [2.96, -0.85, 0.33]),
        ((1, 3), [[2.96, -0.85, 0.33]]),
        ((2, 1), [[-0.54], [2.98]]),
        ((1, 1), [[2.44]]),
        ((1,), [2.44]),
        ((), 2.44),
        ((2, 3), G),
    ],
)
def test_unbroadcast_adds_up_the_copies(shape, expected):
    assert_close(unbroadcast(G, shape), expected, f"unbroadcast(gradient, {shape})", "equation (4)", rtol=RTOL)


@pytest.mark.parametrize(
    "shape", [(4, 1, 3, 1), (1, 3, 1), (1, 1, 1), (3, 2), (2,), (4, 5, 3, 2), (5, 1, 1), (1, 5, 1, 2)]
)
def test_unbroadcast_is_the_transpose_of_broadcasting(shape):
    # <g, broadcast(a)> = <unbroadcast(g), a> for all a, equation (2).
    g, a = normal(4, 5, 3, 2), normal(*shape, seed=1)
    found = unbroadcast(g, shape)
    assert found.shape == shape, f"unbroadcast of (4, 5, 3, 2) to {shape} returned the shape {found.shape}"
    assert_close(
        (found * a).sum(), (g * a).sum(), f"<unbroadcast(g, {shape}), a>", "<g, broadcast(a)>, (2)", rtol=1e-11
    )


def test_unbroadcast_of_an_axis_that_had_length_1_all_along():
    g = normal(4, 1, 3)
    assert_close(unbroadcast(g, (1, 1, 3)), g.sum(axis=0, keepdims=True), "unbroadcast((4, 1, 3), (1, 1, 3))", "(4)")
    assert_close(unbroadcast(g, (1, 3)), g.sum(axis=0), "unbroadcast((4, 1, 3), (1, 3))", "(4)")


def test_unbroadcast_keeps_float32():
    found = unbroadcast(G.astype(np.float32), (2, 1))
    assert found.dtype == np.float32, f"unbroadcast of a float32 gradient returned {found.dtype}"


@pytest.mark.given
@pytest.mark.parametrize("shape", [(2,), (3, 3), (2, 3, 1), (1, 2, 3)])
def test_unbroadcast_refuses_a_shape_that_does_not_broadcast(shape):
    with pytest.raises(ValueError, match="shape"):
        unbroadcast(G, shape)


# multiply


def test_multiply_has_the_other_factor_in_its_gradients():
    assert_operation("multiply(a, b)", multiply, [A, B], G, A * B, [G * B, G * A], "equation (3)")


@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((2, 1), (3,)), ((4, 1, 3), (5, 1)), ((), (2, 3)), ((1, 1), (4,))])
def test_multiply_broadcasts_as_torch_does(shapes):
    a, b = normal(*shapes[0], seed=1), normal(*shapes[1], seed=2)
    call = f"multiply of shapes {shapes[0]} and {shapes[1]}"
    assert_as_torch(call, multiply, lambda a, b: a * b, a, b, equation="(3), (4)")


def test_multiply_with_constants_remembers_the_variable_only():
    x = Variable(A)
    for call, y in (("x * 2.5", x * 2.5), ("2.5 * x", 2.5 * x), ("array * x", np.full((2, 3), 2.5) * x)):
        assert_close(y.value, 2.5 * A, f"({call}).value", "equation (3)", rtol=RTOL)
        assert inputs_of(y) == {x}, f"{call} remembers {len(inputs_of(y))} inputs, expected x alone"
        assert_close(pull(y, x, G), 2.5 * G, f"the vjp of {call}", "equation (3)", rtol=RTOL)


def test_multiply_of_an_array_by_itself_counts_twice():
    x = Variable(A)
    assert_close(
        pull(multiply(x, x), x, G), 2 * A * G, "the vjps of multiply(x, x) together", "equation (3)", rtol=RTOL
    )


def test_multiply_keeps_float32():
    assert_float32("multiply(a, b)", multiply, A, B[0])
    x = Variable(A.astype(np.float32))
    for call, y in (("x * 2.5", x * 2.5), ("x * 3", x * 3), ("x * array([1, 2, 3])", x * np.array([1, 2, 3]))):
        assert y.dtype == np.float32, f"{call} of float32 is {y.dtype}: plain and whole numbers take the precision of x"


def test_multiply_is_not_fooled_by_changes_after_the_fact():
    a, b = A.copy(), B.copy()
    x = Variable(a)
    y = multiply(x, b)
    a[:], b[:] = 0, 0
    assert_close(pull(y, x, G), G * B, "the vjp of multiply(x, b), b being overwritten meanwhile,", "(3)", rtol=RTOL)
    assert_close(x.value, A, "Variable(a).value, a being overwritten meanwhile,", "its docstring")
    for name, value in (("a Variable's value", x.value), ("a result's value", y.value)):
        with pytest.raises(ValueError, match="read-only"):
            value[0, 0] = 1.0
        assert not value.flags.writeable, f"{name} can be written to"


# matmul


def test_matmul_of_matrices_multiplies_by_transposes():
    b, g = normal(3, 4), normal(2, 4, seed=1)
    assert_operation("matmul(a, b)", matmul, [A, b], g, A @ b, [g @ b.T, A.T @ g], "equation (5)")


def test_matmul_of_a_matrix_and_a_vector():
    v, g = np.array([5.2, -1.1, 0.7]), np.array([0.45, -1.3])
    assert_operation("matmul(a, v)", matmul, [A, v], g, A @ v, [np.outer(g, v), A.T @ g], "equation (5)")


def test_matmul_of_a_vector_and_a_matrix():
    v, g = np.array([5.2, -1.1]), np.array([0.45, -1.3, 2.2])
    assert_operation("matmul(v, a)", matmul, [v, A], g, v @ A, [A @ g, np.outer(v, g)], "equation (5)")


def test_matmul_of_two_vectors():
    v, w = np.array([5.2, -1.1, 0.7]), np.array([0.45, -1.3, 2.2])
    assert_operation("matmul(v, w)", matmul, [v, w], 1.6, v @ w, [1.6 * w, 1.6 * v], "equation (5)")


@pytest.mark.parametrize(
    "shapes",
    [
        ((4, 2, 3), (4, 3, 5)),
        ((4, 2, 3), (3, 5)),
        ((2, 3), (4, 3, 5)),
        ((6, 1, 2, 3), (4, 3, 5)),
        ((4, 2, 3), (3,)),
        ((3,), (4, 3, 5)),
        ((4, 3, 3), (3, 3)),
        ((1, 3), (3, 1)),
        ((2, 0), (0, 3)),
    ],
)
def test_matmul_of_stacks_as_torch_has_it(shapes):
    a, b = normal(*shapes[0], seed=1), normal(*shapes[1], seed=2)
    call = f"matmul of shapes {shapes[0]} and {shapes[1]}"
    assert_as_torch(call, matmul, lambda a, b: a @ b, a, b, equation="(5), (4)")


def test_matmul_with_constants_remembers_the_variable_only():
    x, data = Variable(A), normal(4, 2)
    y = data @ x
    assert inputs_of(y) == {x}, f"data @ x remembers {len(inputs_of(y))} inputs, expected x alone"
    assert_close(
        pull(y, x, np.ones((4, 3))), data.T @ np.ones((4, 3)), "the vjp of data @ x", "(5)", rtol=RTOL, atol=ATOL
    )


def test_matmul_keeps_float32():
    assert_float32("matmul(a, b)", matmul, A, normal(3, 4))
    assert_float32("matmul(a, v)", matmul, A, B[0])


@pytest.mark.given
@pytest.mark.parametrize(("a", "b"), [(2.0, A), (A, 2.0)])
def test_matmul_refuses_a_number(a, b):
    with pytest.raises(ValueError, match="a and b"):
        matmul(a, b)


# reduce_sum


def test_reduce_sum_of_all_copies_its_gradient_to_all():
    assert_operation("reduce_sum(a)", reduce_sum, [A], 1.7, 4.7, [np.full((2, 3), 1.7)], "equation (6)")


AXES = [
    (None, False),
    (None, True),
    (0, False),
    (1, False),
    (-1, True),
    ((0, 2), False),
    ((-1, 0), True),
    ((0, 1, 2), False),
]


@pytest.mark.parametrize(("axis", "keepdims"), AXES)
def test_reduce_sum_along_axes_as_torch_has_it(axis, keepdims):
    call = f"reduce_sum(a, axis={axis}, keepdims={keepdims}) of shape (4, 2, 3)"
    of_torch = lambda a: a.sum(dim=axis, keepdim=keepdims) if axis is not None or keepdims else a.sum()  # noqa: E731
    assert_as_torch(call, lambda a: reduce_sum(a, axis, keepdims), of_torch, normal(4, 2, 3), equation="(6)")


def test_reduce_sum_of_a_square_knows_its_axes():
    a, g = normal(3, 3), np.array([0.45, -1.3, 2.2])
    for axis, gradient in ((0, np.tile(g, (3, 1))), (1, np.tile(g, (3, 1)).T)):
        call = f"reduce_sum(a, axis={axis}) of shape (3, 3)"
        assert_operation(
            call, lambda a, axis=axis: reduce_sum(a, axis), [a], g, a.sum(axis), [gradient], "equation (6)"
        )


def test_reduce_sum_gives_means_too():
    g = np.array([0.45, -1.3])
    gradient = np.repeat(g[:, None] / 3, 3, axis=1)
    assert_operation("a.mean(axis=1)", lambda a: a.mean(axis=1), [A], g, A.mean(axis=1), [gradient], "equation (6)")


def test_reduce_sum_keeps_float32():
    assert_float32("reduce_sum(a, axis=0)", lambda a: reduce_sum(a, axis=0), A)
    assert_float32("reduce_sum(a)", reduce_sum, A)


# reduce_max


def test_reduce_max_gives_the_gradient_to_the_largest():
    gradient = [[0, 0, 1.7], [0, -0.6, 0]]
    assert_operation(
        "reduce_max(a, axis=1)", lambda a: reduce_max(a, 1), [A], [1.7, -0.6], [2.1, 3.2], [gradient], "equation (7)"
    )
    gradient = [[0, 0, 0], [0, 1.7, 0]]
    assert_operation("reduce_max(a)", reduce_max, [A], 1.7, 3.2, [gradient], "equation (7)")


def test_reduce_max_shares_equally_among_those_that_tie():
    a = np.array([[2.5, 2.5, 0.3, 2.5], [-0.2, -7.1, -0.2, -4.4]])
    g = np.array([0.96, -1.3])
    gradient = [[0.32, 0.32, 0, 0.32], [-0.65, 0, -0.65, 0]]
    assert_operation(
        "reduce_max(a, axis=1)", lambda a: reduce_max(a, 1), [a], g, [2.5, -0.2], [gradient], "equation (7)"
    )


@pytest.mark.parametrize(("axis", "keepdims"), AXES)
def test_reduce_max_along_axes_as_torch_has_it(axis, keepdims):
    call = f"reduce_max(a, axis={axis}, keepdims={keepdims}) of shape (4, 2, 3)"
    of_torch = lambda a: a.amax(dim=() if axis is None else axis, keepdim=keepdims)  # noqa: E731
    a = np.round(2 * normal(4, 2, 3))  # many ties
    assert_as_torch(call, lambda a: reduce_max(a, axis, keepdims), of_torch, a, equation="(7)")


def test_reduce_max_keeps_float32():
    assert_float32("reduce_max(a, axis=0)", lambda a: reduce_max(a, axis=0), A)


# index

KEYS = {
    "[1]": 1,
    "[-1, 2]": (-1, 2),
    "[1:4]": slice(1, 4),
    "[::-2, 1]": (slice(None, None, -2), 1),
    "[..., None, 0]": (..., None, 0),
    "[[3, 0, 3, 3]]": [3, 0, 3, 3],
    "[[3, 0, 3], [1, 2, 1]]": ([3, 0, 3], [1, 2, 1]),
    "[:, [2, 2, 0, 2]]": (slice(None), [2, 2, 0, 2]),
    "[array of shape (2, 2)]": np.array([[4, 4], [0, 4]]),
    "[[-1, 4]]": [-1, 4],
    "[mask]": np.array([True, False, True, True, False]),
    "[array of no length]": np.zeros(0, dtype=int),
}


def test_index_adds_up_what_was_picked_twice():
    gradient = [1.3, 0.45 + 2.2, 0]
    assert_operation(
        "index(v, [1, 0, 1])",
        lambda v: index(v, [1, 0, 1]),
        [A[0]],
        [0.45, 1.3, 2.2],
        A[0, [1, 0, 1]],
        [gradient],
        "(8)",
    )


@pytest.mark.parametrize("name", KEYS)
def test_index_by_all_kinds_of_keys(name):
    # The gradient is linear in g, so its columns can be had by picking from an array of all positions.
    a, key = normal(5, 3), KEYS[name]
    picked = np.arange(15).reshape(5, 3)[key]
    g = normal(*np.shape(picked), seed=1)
    gradient = np.bincount(np.ravel(picked), weights=np.ravel(g), minlength=15).reshape(5, 3)
    assert_operation(f"index(a, key) with a{name}", lambda a: index(a, key), [a], g, a[key], [gradient], "equation (8)")


def test_index_is_what_brackets_do():
    x = Variable(A)
    y = x[[1, 0, 1], 2]
    assert_close(y.value, [-1.6, 2.1, -1.6], "x[[1, 0, 1], 2].value", "equation (8)")
    gradient = [[0, 0, 1.3], [0, 0, 2.65]]
    assert_close(pull(y, x, np.array([0.45, 1.3, 2.2])), gradient, "the vjp of x[[1, 0, 1], 2]", "(8)", rtol=RTOL)


def test_index_is_not_fooled_by_changes_of_the_key():
    x, rows = Variable(A), np.array([1, 1])
    y = index(x, rows)
    rows[:] = 0
    found = pull(y, x, G)
    assert_close(
        found, [[0, 0, 0], G.sum(axis=0)], "the vjp of index(x, rows), rows being overwritten meanwhile,", "(8)"
    )


def test_index_leaves_the_gradient_alone_and_begins_afresh():
    x = Variable(A)
    y = index(x, [1, 1])
    g = G.copy()
    pull(y, x, g)
    assert_close(pull(y, x, g), [[0, 0, 0], G.sum(axis=0)], "the second call of the vjp of index(x, [1, 1])", "(8)")
    assert_close(g, G, "the gradient after the vjp of index(x, [1, 1])", "what it was before")


def test_index_keeps_float32():
    assert_float32("index(a, [1, 1, 0])", lambda a: index(a, [1, 1, 0]), A)


# log_sum_exp


def test_log_sum_exp_has_a_softmax_for_its_gradient():
    e = np.exp(A)
    value, softmax, g = np.log(e.sum(axis=1)), e / e.sum(axis=1, keepdims=True), np.array([0.45, -1.3])
    call = "log_sum_exp(a, axis=1)"
    assert_operation(call, lambda a: log_sum_exp(a, 1), [A], g, value, [g[:, None] * softmax], "equation (9)")
    assert_operation("log_sum_exp(a)", log_sum_exp, [A], 1.7, np.log(e.sum()), [1.7 * e / e.sum()], "equation (9)")


@pytest.mark.parametrize(("axis", "keepdims"), AXES)
def test_log_sum_exp_along_axes_as_torch_has_it(axis, keepdims):
    call = f"log_sum_exp(a, axis={axis}, keepdims={keepdims}) of shape (4, 2, 3)"
    dim = (0, 1, 2) if axis is None else axis
    of_torch = lambda a: a.logsumexp(dim=dim, keepdim=keepdims)  # noqa: E731
    assert_as_torch(call, lambda a: log_sum_exp(a, axis, keepdims), of_torch, normal(4, 2, 3), equation="(9)")


@pytest.mark.parametrize("shift", [-1e5, -1000.0, 1000.0, 1e5])
def test_log_sum_exp_of_large_entries(shift):
    # Shifting all entries shifts the value and leaves the slopes. Of 1e5 some 1e-11 is rounding.
    a = np.array([0.25, -1.5, 2.0])
    softmax = np.exp(a) / np.exp(a).sum()
    value, call = shift + math.log(np.exp(a).sum()), f"log_sum_exp([0.25, -1.5, 2] + {shift:g})"
    assert_operation(call, log_sum_exp, [a + shift], 1.7, value, [1.7 * softmax], "equation (9)", rtol=1e-9)


def test_log_sum_exp_shifts_each_row_by_its_own():
    a = np.array([[1000.0, 998.5], [-1000.0, -1001.5]])
    value = np.array([1000.0, -1000.0]) + math.log1p(math.exp(-1.5))
    share = 1 / (1 + math.exp(-1.5))
    gradient = [[0.45 * share, 0.45 * (1 - share)], [-1.3 * share, -1.3 * (1 - share)]]
    call = "log_sum_exp([[1000, 998.5], [-1000, -1001.5]], axis=1)"
    assert_operation(
        call, lambda a: log_sum_exp(a, 1), [a], [0.45, -1.3], value, [gradient], "equation (9)", rtol=1e-11
    )


def test_log_sum_exp_takes_impossible_classes():
    # A mask adds -inf as a constant: such an entry has probability 0.
    x = Variable(np.array([0.5, 1.5, -0.5]))
    y = log_sum_exp(x + np.array([0.0, -np.inf, 0.0]))
    share = 1 / (1 + math.exp(-1))
    assert_close(y.value, 0.5 + math.log1p(math.exp(-1)), "log_sum_exp(x + mask).value", "(9)", rtol=RTOL)
    assert_close(pull(y, x, np.array(1.7)), [1.7 * share, 0, 1.7 * (1 - share)], "its vjp", "(9)", rtol=RTOL)


def test_log_sum_exp_keeps_float32():
    assert_float32("log_sum_exp(a, axis=1)", lambda a: log_sum_exp(a, axis=1), A)


# backward


def node(value, *parents):
    """A Variable made by hand: each parent comes with a factor, by which its share is the gradient times that."""
    return record(np.array(value), *((parent, lambda g, factor=factor: factor * g) for parent, factor in parents))


def test_backward_passes_gradients_along_a_chain():
    x = Variable(A[0])
    u = node(A[0], (x, 1.3))
    y = node(A[0], (u, -0.7))
    found, g = backward(y, G[0]), G[0]
    assert_close(found[y], g, "backward(y, g)[y]", "equation (10)")
    assert_close(found[u], -0.7 * g, "backward(y, g)[u], of a chain x, u, y,", "equation (10)", rtol=RTOL)
    assert_close(found[x], -0.91 * g, "backward(y, g)[x], of a chain x, u, y,", "equation (10)", rtol=RTOL)


def test_backward_begins_with_one_for_a_single_number():
    for shape in ((), (1,), (1, 1)):
        x = Variable(np.full(shape, 2.5))
        y = node(np.full(shape, 2.5), (x, 1.3))
        assert_close(
            backward(y)[x], np.full(shape, 1.3), f"backward(y)[x] for shape {shape}", "equation (10)", rtol=RTOL
        )


def test_backward_of_an_input_is_its_own_gradient():
    x = Variable(A)
    assert_close(backward(x, G)[x], G, "backward(x, g)[x]", "equation (10)")


@pytest.mark.parametrize("short_way_first", [True, False])
def test_backward_adds_up_all_ways(short_way_first):
    x = Variable(A)
    u = node(A, (x, 0.6))
    w = node(A, (u, -0.7), (x, 3.1), (x, 0.2))
    y = node(A, (u, 1.3), (w, 2.2)) if short_way_first else node(A, (w, 2.2), (u, 1.3))
    found, by_u = backward(y, G), 1.3 - 0.7 * 2.2
    assert_close(found[u], by_u * G, "backward(y, g)[u], where w and y come from u,", "equation (10)", rtol=RTOL)
    expected = (0.6 * by_u + 3.3 * 2.2) * G
    assert_close(found[x], expected, "backward(y, g)[x], where u and w come from x,", "equation (10)", rtol=RTOL)


def test_backward_does_not_mix_up_parents_that_get_the_same_array():
    # a + b hands on the very gradient it got, to both; a is then used once more.
    a, b = Variable(A), Variable(B)
    u = node(A, (a, 2.0))
    y = node(A, (u, 1.0), (add(a, b), 1.0))
    g = G.copy()
    found = backward(y, g)
    assert_close(found[a], 3 * G, "backward(2 a + (a + b), g)[a]", "equation (10)", rtol=RTOL)
    assert_close(found[b], G, "backward(2 a + (a + b), g)[b]", "equation (10)", rtol=RTOL)
    y = add(add(a, b), a)
    found = backward(y, g)
    assert_close(found[a], 2 * G, "backward((a + b) + a, g)[a]", "equation (10)", rtol=RTOL)
    assert_close(found[b], G, "backward((a + b) + a, g)[b]", "equation (10)", rtol=RTOL)
    assert_close(g, G, "the gradient that was given to backward, afterwards,", "what it was before")


@pytest.mark.parametrize("view", ["reshape", "transpose"])
def test_backward_does_not_mix_up_an_array_and_its_views(view):
    # What is handed back through a view is a view as well: to write to it is to write to the adjoint that it came from.
    x = Variable(A)
    r = x.reshape(*A.shape[::-1]) if view == "reshape" else x.T
    found = backward((r * r).sum() + (x * 3).sum())
    assert_close(found[r], 2 * r.value, f"backward(sum of r r + 3 x)[r], r a {view} of x,", "equation (10)", rtol=RTOL)
    assert_close(found[x], 2 * A + 3, f"backward(sum of r r + 3 x)[x], r a {view} of x,", "equation (10)", rtol=RTOL)
    found = backward(x.sum() + (x * x).sum())
    assert_close(found[x], 1 + 2 * A, "backward(x.sum() + (x * x).sum())[x]", "equation (10)", rtol=RTOL)


def test_backward_has_all_that_y_was_made_from_and_nothing_else():
    x, w = Variable(A), Variable(A)
    u = node(A, (x, 1.3), (w, 0.0))
    node(A, (u, 9.9))
    y = node(A, (u, 0.4))
    found = backward(y, G)
    assert set(found) == {x, w, u, y}, f"backward(y, g) has {len(found)} entries, expected those of x, w, u and y"
    assert_close(found[w], np.zeros((2, 3)), "backward(y, g)[w], of which y gets 0,", "equation (10)")


def test_backward_begins_afresh_each_time():
    x = Variable(A)
    y = node(A, (x, 1.3), (x, 0.4))
    backward(y, G)
    assert_close(backward(y, G)[x], 1.7 * G, "the second backward(y, g)[x]", "equation (10)", rtol=RTOL)


def test_backward_goes_through_doublings_and_through_long_chains():
    x, calls = Variable(A), [0]

    def half(g):
        calls[0] += 1
        assert calls[0] <= 400, (
            "of 400 vjps some were called more than once: each adjoint has to be complete first (10)"
        )
        return 0.5 * g

    y = x
    for _ in range(200):
        y = record(A.copy(), (y, half), (y, half))
    assert_close(backward(y, G)[x], G, "backward(y, g)[x] after 200 doublings", "equation (10)", rtol=RTOL)
    y = x
    for _ in range(2000):
        y = node(A, (y, -1.0))
    assert_close(backward(y, G)[x], G, "backward(y, g)[x] of a chain of 2,000", "equation (10)", rtol=RTOL)


def test_backward_gives_each_the_precision_of_its_value():
    x, w = Variable(A.astype(np.float32)), Variable(B)
    found = backward(multiply(x, w).sum())
    assert found[x].dtype == np.float32, f"backward(y)[x] of a float32 x beside a float64 w is {found[x].dtype}"
    assert found[w].dtype == np.float64, f"backward(y)[w] of a float64 w beside a float32 x is {found[w].dtype}"
    assert_close(found[x], B, "backward((x w).sum())[x]", "equations (3), (6)", rtol=1e-6)


POSITIVE = np.abs(A) + 0.2
OPERATIONS = {
    "a + b": (lambda a, b: a + b, (A, B[0])),
    "a - b": (lambda a, b: a - b, (A, B[:, :1])),
    "3 - a": (lambda a: 3 - a, (A,)),
    "-a": (lambda a: -a, (A,)),
    "a * b": (lambda a, b: a * b, (A[:, None], B)),
    "a / b": (lambda a, b: a / b, (A, POSITIVE[0])),
    "2 / a": (lambda a: 2 / a, (POSITIVE,)),
    "a / 2": (lambda a: a / 2, (A,)),
    "a ** 3": (lambda a: a**3, (A,)),
    "a ** -0.5": (lambda a: a**-0.5, (POSITIVE,)),
    "a @ b": (lambda a, b: a @ b, (A, B.T)),
    "a[[0, 1, 1]] * 2": (lambda a: a[[0, 1, 1]] * 2, (A,)),
    "a.sum(axis=0)": (lambda a: a.sum(axis=0), (A,)),
    "a.mean()": (lambda a: a.mean(), (A,)),
    "a.mean(axis=(0, 2))": (lambda a: a.mean(axis=(0, 2)), (A[:, None],)),
}


def as_torch(name):
    """The same operation of torch, and arrays to try it on."""
    import torch

    return {
        "exp": (exp, torch.exp, (A,)),
        "log": (log, torch.log, (POSITIVE,)),
        "tanh": (tanh, torch.tanh, (A,)),
        "relu": (relu, torch.relu, (np.where(A < 0, 0, A),)),  # at 0 the slope is 0
        "add": (add, torch.add, (A[:, None], B)),
        "divide": (divide, torch.divide, (A[:, None], POSITIVE)),
        "power": (lambda a: power(a, 2.5), lambda a: a**2.5, (POSITIVE,)),
        "power 0": (lambda a: power(a, 0), lambda a: a**0, (np.where(A < 0, 0, A),)),
        "reshape": (lambda a: reshape(a, (3, -1)), lambda a: a.reshape(3, -1), (A,)),
        "a.reshape": (lambda a: a.reshape(3, 1, 2), lambda a: a.reshape(3, 1, 2), (A,)),
        "transpose": (transpose, lambda a: a.T, (A,)),
        "transpose (2, 0, 1)": (lambda a: transpose(a, (2, 0, -2)), lambda a: a.permute(2, 0, 1), (normal(4, 2, 3),)),
        "a.T": (lambda a: a.T, lambda a: a.T, (A,)),
        "a.max": (lambda a: a.max(1), lambda a: a.amax(1), (A,)),
        "concatenate": (lambda a, b: concatenate([a, b], 1), lambda a, b: torch.cat([a, b], 1), (A, B[:, :2])),
    }[name]


@pytest.mark.parametrize("name", OPERATIONS)
def test_backward_passes_the_check_through_every_operator(name):
    f, arrays = OPERATIONS[name]
    mismatch = check_gradient(f, *arrays, rng=np.random.default_rng(0))
    assert mismatch < 1e-6, f"the gradients of {name} differ from differences of its values by {mismatch:.2g}"


@pytest.mark.parametrize(
    "name",
    ["exp", "log", "tanh", "relu", "add", "divide", "power", "power 0", "reshape", "a.reshape", "transpose"]
    + ["transpose (2, 0, 1)", "a.T", "a.max", "concatenate"],
)
def test_backward_through_given_operations_agrees_with_torch(name):
    pytest.importorskip("torch")
    import torch

    ours, theirs, arrays = as_torch(name)
    inputs, tensors = [Variable(a) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]
    out = theirs(*tensors)
    g, y = normal(*out.shape), ours(*inputs)
    assert_close(y.value, out, f"{name}: its value", "torch", rtol=RTOL)
    found = backward(y, g)
    for i, (x, expected) in enumerate(zip(inputs, torch.autograd.grad(out, tensors, torch.tensor(g)))):
        assert_close(
            found[x], expected, f"{name}: backward(y, g) for argument {i}", "torch.autograd", rtol=RTOL, atol=ATOL
        )


def network(x, w, b, v, c):
    """A network with attention to all: every operation on the way to one number."""
    h = tanh(x @ w + b)
    scores = h @ h.T / 2.0
    weights = exp(scores - log_sum_exp(scores, axis=1, keepdims=True))
    h = concatenate([relu(weights @ h), h.max(axis=1, keepdims=True)], axis=1)
    z = h[[0, 2, 2, 4]] @ v + c
    return (log_sum_exp(z, axis=1) - z[np.arange(4), [1, 0, 2, 1]]).mean() + 0.01 * (w**2).sum()


PARAMETERS = (normal(5, 3), normal(3, 4, seed=1), normal(4, seed=2), normal(5, 3, seed=3), normal(3, seed=4))


def test_backward_passes_the_check_for_a_whole_network():
    mismatch = check_gradient(network, *PARAMETERS, rng=np.random.default_rng(0))
    assert mismatch < 1e-6, f"the gradient of a network differs from differences of its values by {mismatch:.2g}"


def test_backward_of_a_whole_network_agrees_with_torch():
    pytest.importorskip("torch")
    import torch

    x, w, b, v, c = tensors = [torch.tensor(a, requires_grad=True) for a in PARAMETERS]
    h = torch.tanh(x @ w + b)
    weights = torch.softmax(h @ h.T / 2.0, dim=1)
    h = torch.cat([torch.relu(weights @ h), h.amax(dim=1, keepdim=True)], dim=1)
    z = h[[0, 2, 2, 4]] @ v + c
    loss = torch.nn.functional.cross_entropy(z, torch.tensor([1, 0, 2, 1])) + 0.01 * (w**2).sum()
    value, gradients = value_and_grad(network)(*PARAMETERS)
    assert_close(value, loss.item(), "value_and_grad(network)(...)[0]", "torch", rtol=RTOL)
    for i, expected in enumerate(torch.autograd.grad(loss, tensors)):
        assert_close(
            gradients[i], expected, f"value_and_grad(network)(...)[1][{i}]", "torch.autograd", rtol=1e-10, atol=ATOL
        )


def test_backward_serves_value_and_grad():
    evaluate = value_and_grad(lambda a, b, c: (a * b).sum())
    a = A.copy()
    value, (by_a, by_b, by_c) = evaluate(a, B[0].astype(np.float32), 2)
    assert_close(value, (A * B[0]).sum(), "value_and_grad(f)(a, b, c)[0]", "f itself", rtol=1e-6)
    assert_close(by_a, np.tile(B[0], (2, 1)), "the gradient by a", "(3), (4)", rtol=1e-6)
    assert_close(by_b, A.sum(axis=0), "the gradient by b", "(3), (4)", rtol=1e-6)
    assert_close(by_c, 0.0, "the gradient by c, which f does not use,", "its docstring")
    kinds = [str(g.dtype) for g in (by_a, by_b, by_c)]
    assert kinds == ["float64", "float32", "float64"], (
        f"the gradients by float64, float32 and whole numbers are {kinds}"
    )
    by_a += 1  # it may be written to
    assert np.array_equal(a, A), "value_and_grad(f)(a, ...) changed a"
    assert value_and_grad(lambda a: (a * 2).sum())(a)[0] == pytest.approx(9.4), "a second call gave another value"


def test_backward_lets_a_wrong_gradient_fail_the_check():
    wrong = check_gradient(lambda a: record(a.value**2, (a, lambda g: g * a.value)), A, rng=np.random.default_rng(0))
    assert_close(wrong, 1 / 3, "check_gradient of a square without its factor 2", "|2 - 1| / (2 + 1)", rtol=1e-6)


@pytest.mark.given
def test_backward_refuses_what_it_can_not_begin_with():
    with pytest.raises(ValueError, match="y must be a Variable"):
        backward(A)
    with pytest.raises(ValueError, match="gradient must be given"):
        backward(Variable(A))
    with pytest.raises(ValueError, match="gradient must have the shape"):
        backward(Variable(A), A.T)


@pytest.mark.given
@pytest.mark.parametrize("wrong", [[1.0, np.nan], [np.inf], [True, False], [1j], ["a"], [None]])
def test_variable_refuses_what_is_no_array_of_finite_numbers(wrong):
    with pytest.raises(ValueError, match="value must"):
        Variable(wrong)


@pytest.mark.given
@pytest.mark.parametrize("wrong", [[True], 1j, "a", None])
def test_operations_refuse_constants_that_are_no_numbers(wrong):
    with pytest.raises(ValueError, match="constant must"):
        add(Variable([1.0]), wrong)


@pytest.mark.given
def test_power_refuses_an_exponent_that_is_an_array():
    with pytest.raises(ValueError, match="exponent"):
        power(Variable(A), np.array([1.0, 2.0, 3.0]))


@pytest.mark.given
def test_value_and_grad_refuses_a_function_that_returns_no_single_number():
    for wrong in (lambda a: a + 1, lambda a: 2.0, lambda a: a.value):
        with pytest.raises(ValueError, match="f must return"):
            value_and_grad(wrong)(A)


@pytest.mark.given
def test_operations_on_constants_alone_remember_nothing():
    y = tanh(add(A, 2.0))
    assert_close(y.value, np.tanh(A + 2), "tanh(add(a, 2)).value", "NumPy")
    assert y.parents[0].parents == (), "an operation on plain arrays alone should have no parents"
