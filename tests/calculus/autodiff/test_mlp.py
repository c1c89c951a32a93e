"""Shared tests of calculus/autodiff/mlp: run on the reference, and on the learner's file.

Numbers by hand and those of a network written out with NumPy agree to some roundings: 1e-12 allows a thousand. What is random
is judged by `assert_mean` and `assert_variance` with errors of 1e-8 each. Of the digits every fifth
is held out, 360 in all: over training seeds the reference reads 97.5 % of these on average, with a standard deviation of 0.4 %.
The 95 % asked for are 6 standard deviations away, whatever the order of the random numbers.
"""

import math
from itertools import pairwise

import numpy as np
import pytest

from mlpath.calculus.autodiff.array import Variable, backward, value_and_grad
from mlpath.calculus.autodiff.mlp import (
    Momentum,
    batches,
    cross_entropy,
    initialise,
    predict,
    scores,
    step,
    train,
)
from mlpath.testing import assert_close, assert_distribution, assert_mean, assert_variance

RTOL = 1e-12
X = np.array([[0.7, -1.2, 0.4], [-0.3, 0.8, 1.9], [1.1, 0.6, -0.5], [0.2, -0.9, -1.4]])
LABELS = np.array([1, 0, 1, 1])
W1 = np.array([[0.5, -1.3, 0.9, 0.2], [1.1, 0.4, -0.6, -0.7], [-0.8, 0.3, 1.6, 0.55]])
B1 = np.array([0.15, -0.35, 0.45, 0.05])
W2 = np.array([[0.6, -0.9], [1.2, 0.35], [-0.45, 0.7], [0.8, -1.5]])
B2 = np.array([-0.25, 0.65])
PARAMETERS = (W1, B1, W2, B2)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def by_hand(x, labels, parameters):
    """Loss and gradients of a network with one hidden layer, without any engine."""
    w1, b1, w2, b2 = parameters
    h = np.maximum(x @ w1 + b1, 0)
    p = softmax(h @ w2 + b2)
    loss = -np.log(p[np.arange(len(x)), labels]).mean()
    dz = (p - np.eye(len(b2))[labels]) / len(x)
    dh = (dz @ w2.T) * (h > 0)
    return loss, (x.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))


# initialise


def test_initialise_has_weights_and_biases_for_each_layer():
    found = initialise([7, 5, 4, 3], rng=np.random.default_rng(0))
    shapes = [a.shape for a in found]
    expected = [(7, 5), (5,), (5, 4), (4,), (4, 3), (3,)]
    assert isinstance(found, tuple), f"initialise returned a {type(found).__name__}, expected a tuple"
    assert shapes == expected, f"initialise([7, 5, 4, 3]) returned the shapes {shapes}, expected {expected}"


def test_initialise_has_biases_of_zero():
    for b in initialise([7, 5, 3], rng=np.random.default_rng(0))[1::2]:
        assert_close(b, np.zeros(len(b)), "a bias of initialise([7, 5, 3])", "equation (5)")


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(300, 60), (200, 200), (2, 5000), (60, 300)])
def test_initialise_draws_weights_of_variance_2_over_the_number_of_inputs(n_inputs, n_outputs):
    w, _ = initialise([n_inputs, n_outputs], rng=np.random.default_rng(1))
    call = f"a weight of a layer of {n_inputs} inputs and {n_outputs} outputs"
    assert_mean(w.ravel(), 0, call, "equation (5)", sd=math.sqrt(2 / n_inputs))
    assert_variance(w.ravel(), 2 / n_inputs, call, "equation (5)")


def test_initialise_does_so_in_every_layer():
    found = initialise([300, 200, 50, 400], rng=np.random.default_rng(4))
    for w in found[::2]:
        call = f"a weight of initialise([300, 200, 50, 400]) in the layer of {len(w)} inputs"
        assert_variance(w.ravel(), 2 / len(w), call, "equation (5)")


def test_initialise_draws_from_a_normal_law():
    # Dividing by the standard deviation of the draws themselves brings them nearer to the law, if anything.
    draws = initialise([300, 70], rng=np.random.default_rng(3))[0].ravel()
    normal = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)))
    assert_distribution(
        draws / draws.std(), normal, "a weight over its standard deviation", "equation (5): a normal law"
    )


def test_initialise_draws_each_weight_anew():
    rng = np.random.default_rng(2)
    first, second = initialise([40, 40, 40], rng=rng), initialise([40, 40, 40], rng=rng)
    weights = np.stack([first[0], first[2], second[0], second[2]])
    n_different = len(np.unique(weights))
    assert n_different == weights.size, f"of {weights.size} weights drawn, only {n_different} are different"


@pytest.mark.given
@pytest.mark.parametrize("sizes", [[5], [], [5, 0, 2], [5, 2.5], [-1, 3]])
def test_initialise_refuses_sizes_that_make_no_network(sizes):
    with pytest.raises(ValueError, match="sizes"):
        initialise(sizes, rng=np.random.default_rng(0))


# scores


def test_scores_of_one_layer_are_linear():
    z = scores(X, (W1, B1))
    assert isinstance(z, Variable), f"scores returned a {type(z).__name__}, expected a Variable"
    assert_close(z.value, X @ W1 + B1, "scores(x, (w, b)).value", "equation (1), no layer but the last", rtol=RTOL)


def test_scores_of_two_layers_cut_off_in_between_only():
    z = scores(X, PARAMETERS).value
    assert_close(
        z, np.maximum(X @ W1 + B1, 0) @ W2 + B2, "scores(x, (w1, b1, w2, b2)).value", "equation (1)", rtol=RTOL
    )


def test_scores_of_four_layers():
    rng = np.random.default_rng(3)
    sizes = [3, 6, 5, 4, 2]
    layers = [(rng.normal(size=(m, n)), rng.normal(size=n)) for m, n in pairwise(sizes)]
    h = X
    for w, b in layers[:-1]:
        h = np.maximum(h @ w + b, 0)
    expected = h @ layers[-1][0] + layers[-1][1]
    found = scores(X, [a for layer in layers for a in layer]).value
    assert_close(found, expected, "scores(x, parameters of four layers).value", "equation (1)", rtol=1e-11)


def test_scores_can_be_differentiated_by_all_parameters():
    inputs, g = [Variable(p) for p in PARAMETERS], np.array([[0.3, -1.1], [0.8, 0.2], [-0.6, 1.7], [0.9, -0.4]])
    found = backward(scores(X, inputs), g)
    h = np.maximum(X @ W1 + B1, 0)
    dh = (g @ W2.T) * (h > 0)
    for x, name, expected in zip(inputs, ("w1", "b1", "w2", "b2"), (X.T @ dh, dh.sum(axis=0), h.T @ g, g.sum(axis=0))):
        assert x in found, f"scores(x, parameters) was not made from {name}"
        assert_close(found[x], expected, f"backward(scores(x, parameters), g)[{name}]", "equation (1)", rtol=1e-11)


@pytest.mark.given
@pytest.mark.parametrize("wrong", [(W1,), (W1, B2), (W2, B2), (W1, B1, W1, B1), (B1, B1), ()])
def test_scores_refuses_parameters_that_do_not_fit(wrong):
    with pytest.raises(ValueError, match="parameters"):
        scores(X, wrong)


@pytest.mark.given
def test_scores_refuses_a_single_image():
    with pytest.raises(ValueError, match="x must"):
        scores(X[0], PARAMETERS)


# cross_entropy

Z = np.array([[2.1, -0.4, 0.7], [0.3, 1.6, -1.2], [-0.9, 0.25, 1.45], [0.5, 0.1, -2.3]])
CLASSES = np.array([2, 0, 1, 0])


def test_cross_entropy_is_the_mean_surprise():
    expected = -np.log(softmax(Z)[np.arange(4), CLASSES]).mean()
    assert_close(
        cross_entropy(Variable(Z), CLASSES).value, expected, "cross_entropy(z, labels)", "equation (2)", rtol=RTOL
    )


def test_cross_entropy_has_the_gradient_of_equation_3():
    z = Variable(Z)
    expected = (softmax(Z) - np.eye(3)[CLASSES]) / 4
    call = "backward(cross_entropy(z, labels))[z]"
    assert_close(backward(cross_entropy(z, CLASSES))[z], expected, call, "equation (3)", rtol=1e-11)


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_their_number():
    loss = cross_entropy(Variable(np.full((2, 7), -3.4)), np.array([6, 2]))
    assert_close(loss.value, math.log(7), "cross_entropy of equal scores of 7 classes", "log C, after equation (3)")


def test_cross_entropy_of_extreme_scores():
    z = Variable(np.array([[1000.0, -1000.0], [-1000.0, 1000.0], [1000.0, -1000.0]]))
    labels = np.array([0, 1, 1])
    loss = cross_entropy(z, labels)
    assert_close(loss.value, 2000 / 3, "cross_entropy of scores of 1000 and -1000, one of three wrong,", "equation (2)")
    expected = np.array([[0, 0], [0, 0], [1, -1]]) / 3
    assert_close(backward(loss)[z], expected, "its gradient by the scores", "equation (3)", rtol=RTOL, atol=1e-15)


@pytest.mark.given
@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 1, 2, 3], [0, 1, -1, 0], [0.0, 1.0, 2.0, 0.0]])
def test_cross_entropy_refuses_labels_that_are_no_classes(labels):
    with pytest.raises(ValueError, match="labels"):
        cross_entropy(Variable(Z), np.array(labels))


# predict


def test_predict_takes_the_class_of_the_largest_score():
    x = np.array([[0.4, -0.7], [1.2, 0.9], [-2.2, -0.3], [0.1, 3.3]])
    w, b = np.array([[1.0, -1.0, 0.2], [0.3, 0.1, 1.4]]), np.array([0.2, -0.1, -0.15])
    found = predict(x, (w, b))
    expected = (x @ w + b).argmax(axis=1)
    assert set(expected.tolist()) == {0, 1, 2}, "the test should have all classes"
    assert_close(found, expected, "predict(x, (w, b))", "equation (4)")


def test_predict_knows_the_hidden_layer():
    x = np.random.default_rng(4).normal(size=(50, 3))
    expected = (np.maximum(x @ W1 + B1, 0) @ W2 + B2).argmax(axis=1)
    assert_close(predict(x, PARAMETERS), expected, "predict(x, (w1, b1, w2, b2)) of 50 images", "equations (1), (4)")


def test_predict_takes_the_first_of_those_that_tie():
    found = predict(np.ones((1, 2)), (np.zeros((2, 3)), np.array([0.5, 1.5, 1.5])))
    assert_close(found, [1], "predict where the last two of three classes tie", "its docstring")


# step


def test_step_moves_with_the_new_velocity():
    state = Momentum((np.array([1.4, -0.6]),), (np.array([0.25, -2.5]),))
    found = step(state, (np.array([0.45, 1.3]),), rate=0.2, momentum=0.6)
    velocity = np.array([0.6, -0.2])
    call = "step(state, gradients, rate=0.2, momentum=0.6)"
    assert_close(found.velocities[0], velocity, f"{call}.velocities[0]", "equation (6)", rtol=RTOL)
    assert_close(found.parameters[0], np.array([1.28, -0.56]), f"{call}.parameters[0]", "equation (6)", rtol=RTOL)


def test_step_moves_all_parameters():
    rng = np.random.default_rng(5)
    velocities, gradients = (tuple(rng.normal(size=p.shape) for p in PARAMETERS) for _ in range(2))
    found = step(Momentum(PARAMETERS, velocities), gradients, rate=0.07, momentum=0.85)
    for i, (p, v, g) in enumerate(zip(PARAMETERS, velocities, gradients)):
        assert_close(found.velocities[i], 0.85 * v + g, f"step(...).velocities[{i}]", "equation (6)", rtol=RTOL)
        expected = p - 0.07 * (0.85 * v + g)
        assert_close(found.parameters[i], expected, f"step(...).parameters[{i}]", "equation (6)", rtol=RTOL)


def test_step_without_momentum_goes_down_the_gradient():
    state = Momentum((np.array([1.4, -0.6]),), (np.array([5.0, 5.0]),))
    found = step(state, (np.array([0.45, 1.3]),), rate=0.2, momentum=0)
    assert_close(found.parameters[0], np.array([1.31, -0.86]), "step(..., momentum=0).parameters[0]", "(6)", rtol=RTOL)


def test_step_adds_up_to_the_gradient_over_one_less_momentum():
    state, g = Momentum((np.zeros(1),), (np.zeros(1),)), (np.array([0.45]),)
    for _ in range(200):
        state = step(state, g, rate=0.1, momentum=0.8)
    assert_close(state.velocities[0], np.array([2.25]), "the velocity after 200 steps", "g / (1 - momentum)", rtol=1e-9)


def test_step_leaves_its_state_alone():
    state = Momentum((np.array([1.4, -0.6]),), (np.array([0.25, -2.5]),))
    g = np.array([0.45, 1.3])
    step(state, (g,), rate=0.2, momentum=0.6)
    assert_close(
        state.parameters[0], np.array([1.4, -0.6]), "state.parameters[0] after step(state, ...)", "its docstring"
    )
    assert_close(
        state.velocities[0], np.array([0.25, -2.5]), "state.velocities[0] after step(state, ...)", "its docstring"
    )
    assert_close(g, np.array([0.45, 1.3]), "the gradient after step(state, ...)", "what it was")


def test_step_keeps_float32():
    single = tuple(p.astype(np.float32) for p in PARAMETERS)
    found = step(Momentum(single, single), single, rate=0.1, momentum=0.9)
    kinds = {str(a.dtype) for a in (*found.parameters, *found.velocities)}
    assert kinds == {"float32"}, f"step of float32 arrays returned {kinds}"


@pytest.mark.given
@pytest.mark.parametrize(("rate", "momentum", "named"), [(0, 0.9, "rate"), (np.nan, 0.9, "rate"), (0.1, 1, "momentum")])
def test_step_refuses_rates_out_of_range(rate, momentum, named):
    with pytest.raises(ValueError, match=named):
        step(Momentum((B1,), (B1,)), (B1,), rate=rate, momentum=momentum)


@pytest.mark.given
def test_step_refuses_gradients_that_do_not_fit():
    with pytest.raises(ValueError, match="gradients"):
        step(Momentum((B1,), (B1,)), (B2,), rate=0.1, momentum=0.9)


# batches


@pytest.mark.parametrize(
    ("n", "size", "expected"), [(10, 4, [4, 4, 2]), (12, 4, [4, 4, 4]), (3, 8, [3]), (5, 1, [1] * 5)]
)
def test_batches_have_each_image_once(n, size, expected):
    found = batches(n, size, rng=np.random.default_rng(0))
    lengths = [len(batch) for batch in found]
    assert lengths == expected, (
        f"batches({n}, {size}) have {lengths} images, expected {expected}: only the last is shorter"
    )
    together = np.sort(np.concatenate(found))
    assert_close(together, np.arange(n), f"all indices of batches({n}, {size}), sorted,", "each image once")
    assert np.zeros(n)[found[0]].shape == (expected[0],), "a batch should be an array of indices"


def test_batches_are_shuffled_anew_each_time():
    rng = np.random.default_rng(1)
    orders = np.array([np.concatenate(batches(30, 7, rng=rng)) for _ in range(2000)])
    assert len(np.unique(orders, axis=0)) == 2000, "batches(30, 7) came in the same order twice"
    # Which image comes first, or last, is uniform on 0 to 29: mean 14.5, variance (30^2 - 1) / 12.
    for place in (0, 29):
        call = f"the image at place {place} of batches(30, 7)"
        assert_mean(orders[:, place], 14.5, call, "a random order", sd=math.sqrt(899 / 12))


@pytest.mark.given
@pytest.mark.parametrize(("n", "size"), [(0, 3), (5, 0)])
def test_batches_refuse_numbers_below_one(n, size):
    with pytest.raises(ValueError, match="n_samples and batch_size"):
        batches(n, size, rng=np.random.default_rng(0))


# train


def test_train_repeats_the_step_on_all_images_at_once():
    # With one batch for all, the order of the images changes the sums by rounding only.
    found = train(
        X, LABELS, PARAMETERS, n_epochs=3, batch_size=100, rate=0.3, momentum=0.7, rng=np.random.default_rng(0)
    )
    parameters, velocities, losses = list(PARAMETERS), [0.0] * 4, []
    for _ in range(3):
        loss, gradients = by_hand(X, LABELS, parameters)
        losses.append(loss)
        velocities = [0.7 * v + g for v, g in zip(velocities, gradients)]
        parameters = [p - 0.3 * v for p, v in zip(parameters, velocities)]
    call = "train(x, labels, parameters, n_epochs=3, batch_size=100, rate=0.3, momentum=0.7)"
    assert_close(found.losses, losses, f"{call}.losses", "equations (2), (7), before each step", rtol=1e-11)
    for i, expected in enumerate(parameters):
        assert_close(found.parameters[i], expected, f"{call}.parameters[{i}]", "equation (6)", rtol=1e-10, atol=1e-14)


def test_train_steps_after_each_batch():
    # All images are the same, so that any order gives the same steps: batches of 3, 3 and 1, twice.
    x, labels = np.tile(X[0], (7, 1)), np.ones(7, dtype=int)
    found = train(x, labels, PARAMETERS, n_epochs=2, batch_size=3, rate=0.3, momentum=0.7, rng=np.random.default_rng(0))
    parameters, velocities, losses = list(PARAMETERS), [0.0] * 4, []
    for _ in range(6):
        loss, gradients = by_hand(x[:1], labels[:1], parameters)
        losses.append(loss)
        velocities = [0.7 * v + g for v, g in zip(velocities, gradients)]
        parameters = [p - 0.3 * v for p, v in zip(parameters, velocities)]
    expected = np.reshape(losses, (2, 3)) @ [3 / 7, 3 / 7, 1 / 7]
    call = "train of 7 equal images in batches of 3, 3 and 1"
    assert_close(found.losses, expected, f"{call}: the losses", "equation (7), each batch by its size", rtol=1e-11)
    for i, expected in enumerate(parameters):
        assert_close(found.parameters[i], expected, f"{call}: parameters[{i}]", "equation (6)", rtol=1e-10, atol=1e-14)


def test_train_keeps_images_and_labels_together():
    # The class is written in the image: a network of one layer learns it for certain, unless labels are mixed up.
    rng = np.random.default_rng(6)
    labels = rng.integers(5, size=200)
    x = np.eye(5)[labels] + rng.normal(0, 0.05, (200, 5))
    found = train(x, labels, initialise([5, 5], rng=rng), n_epochs=8, batch_size=16, rate=0.5, rng=rng)
    share = np.mean(predict(x, found.parameters) == labels)
    assert share == 1, (
        f"after training on images that show their class plainly, {share:.0%} are read right, expected all"
    )


def test_train_reads_new_digits():
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    x, labels, new = pixels / 16, digits, np.arange(len(digits)) % 5 == 0
    rng = np.random.default_rng(7)
    start = initialise([64, 128, 10], rng=rng)
    found = train(x[~new], labels[~new], start, n_epochs=20, batch_size=64, rate=0.1, rng=rng)
    share = np.mean(predict(x[new], found.parameters) == labels[new])
    assert share > 0.95, f"after 20 epochs, {share:.1%} of {new.sum()} new digits are read right, expected above 95 %"
    first, last = found.losses[[0, -1]]
    assert last < 0.1 < first, (
        f"the loss of the digits went from {first:.3f} to {last:.3f}, expected a fall to below 0.1"
    )


def test_train_leaves_what_it_was_given_alone():
    x, labels, start = X.copy(), LABELS.copy(), tuple(p.copy() for p in PARAMETERS)
    train(x, labels, start, n_epochs=2, batch_size=2, rng=np.random.default_rng(0))
    assert np.array_equal(x, X), "train changed the images that it was given"
    assert np.array_equal(labels, LABELS), "train changed the labels that it was given"
    for i, (p, q) in enumerate(zip(start, PARAMETERS)):
        assert np.array_equal(p, q), f"train changed the array parameters[{i}] that it was given"


def test_train_keeps_float32():
    single = tuple(p.astype(np.float32) for p in PARAMETERS)
    found = train(X.astype(np.float32), LABELS, single, n_epochs=1, batch_size=2, rng=np.random.default_rng(0))
    kinds = {str(p.dtype) for p in found.parameters}
    assert kinds == {"float32"}, f"train with float32 images and parameters returned parameters of {kinds}"


def test_train_is_the_same_for_the_same_random_numbers():
    first, second = (
        train(X, LABELS, PARAMETERS, n_epochs=2, batch_size=2, rng=np.random.default_rng(8)) for _ in range(2)
    )
    assert_close(second, first, "the second train(..., rng=default_rng(8))", "the first one")


@pytest.mark.given
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"n_epochs": 0}, "n_epochs"),
        ({"rate": -0.1}, "rate"),
        ({"momentum": 1.0}, "momentum"),
        ({"labels": np.array([0, 1, 2, 0])}, "labels"),
        ({"labels": np.array([0, 1])}, "labels"),
        ({"x": X[:0], "labels": LABELS[:0]}, "x must"),
        ({"x": X[:, :2]}, "parameters"),
    ],
)
def test_train_refuses_what_does_not_fit(change, named):
    arguments = {"x": X, "labels": LABELS, "parameters": PARAMETERS, "rng": np.random.default_rng(0)} | change
    with pytest.raises(ValueError, match=named):
        train(**arguments)


def test_train_follows_gradients_that_pass_by_hand_for_a_hidden_layer():
    # The engine and the formulas of the note agree: (1) to (3) put together.
    loss, gradients = value_and_grad(lambda *p: cross_entropy(scores(X, p), LABELS))(*PARAMETERS)
    expected_loss, expected = by_hand(X, LABELS, PARAMETERS)
    assert_close(loss, expected_loss, "cross_entropy(scores(x, p), labels)", "equation (2)", rtol=RTOL)
    for i, (found, gradient) in enumerate(zip(gradients, expected)):
        assert_close(
            found, gradient, f"its gradient by parameter {i}", "the chain rule by hand", rtol=1e-10, atol=1e-15
        )
