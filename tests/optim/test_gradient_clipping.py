"""Shared tests of optim/gradient_clipping: run on the reference, and on the learner's file.

All is deterministic. Where PyTorch has the rule it is the oracle; tolerances of 1e-12 in float64 and 1e-6 in float32 leave
room for another order of operations.
"""

import math
from functools import cache

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from mlpath.optim._networks import digits, perceptron
from mlpath.optim.gradient_clipping import (
    adaptive_clip,
    clip_by_norm,
    clip_by_value,
    global_norm,
    growth_factor,
    jacobian_product,
    unit_norms,
    variance_map,
)
from mlpath.testing import assert_close

torch.set_num_threads(1)
GRADIENTS = ([[2.7, -0.4, 0.9], [-5.3, 1.6, 0.2]], [3.1, -0.7], 4.2)
SHOWN = "[[2.7, -0.4, 0.9], [-5.3, 1.6, 0.2]], [3.1, -0.7] and 4.2"
NORMS = {1.0: 19.1, 2.0: math.sqrt(66.69), math.inf: 5.3}  # the sums of sizes and of squares, and the largest size


def tensors(dtype=torch.float64, scale=1.0):
    return [scale * torch.tensor(values, dtype=dtype) for values in GRADIENTS]


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@cache
def weights_and_gradients():
    """The weights of a perceptron, and their gradients on digits."""
    x, y = digits(50)
    model = perceptron((64, 12, 7, 10), generator=torch.Generator().manual_seed(0))
    cross_entropy(5 * model(x), y).backward()
    return [p.detach() for p in model.parameters()], [p.grad for p in model.parameters() if p.grad is not None]


def by_torch(clip, gradients, *args, **settings):
    """What PyTorch's function, which writes into the parameters, makes of gradients; and what it returns."""
    parameters = [torch.zeros_like(gradient).requires_grad_() for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    returned = clip(parameters, *args, **settings)
    return [parameter.grad for parameter in parameters], returned


def assert_all_close(actual, expected, call, because, rtol=1e-12):
    assert len(actual) == len(expected), f"{call} returned {len(actual)} gradients for {len(expected)}"
    for i, (one, other) in enumerate(zip(actual, expected)):
        assert_close(one, other, f"{call}, gradient number {i}", because, rtol=rtol)


def assert_pure(rule, name):
    """The rule keeps float32, changes nothing it was given, and returns new tensors even where nothing is clipped."""
    for dtype in (torch.float32, torch.float64):
        gradients = tensors(dtype)
        clipped = rule(gradients)
        for new, given, before in zip(clipped, gradients, tensors(dtype)):
            assert new.dtype == dtype, f"{name} of {dtype} gradients returned {new.dtype}"
            assert_close(given, before, f"a gradient after {name}", "its value before")
    clipped[0].add_(1.0)
    assert_close(gradients[0], tensors()[0], f"a gradient after the result of {name} was changed", "its value before")


# clip_by_value


def test_clip_by_value_brings_each_entry_between_the_limits():
    expected = [[[1.5, -0.4, 0.9], [-1.5, 1.5, 0.2]], [1.5, -0.7], 1.5]
    assert_all_close(clip_by_value(tensors(), 1.5), expected, f"clip_by_value of {SHOWN}, limit 1.5", "equation (1)")


@pytest.mark.parametrize("limit", [1e-3, 0.02, 10.0])
def test_clip_by_value_agrees_with_pytorch_on_a_network(limit):
    _, gradients = weights_and_gradients()
    expected, _ = by_torch(clip_grad_value_, gradients, limit)
    assert_all_close(clip_by_value(gradients, limit), expected, f"clip_by_value(limit={limit})", "clip_grad_value_")


def test_clip_by_value_keeps_float32_and_its_arguments():
    assert_pure(lambda gradients: clip_by_value(gradients, 99.0), "clip_by_value(limit=99)")


# global_norm


@pytest.mark.parametrize("p", [1.0, 2.0, 3.5, math.inf])
def test_global_norm_is_that_of_all_gradients_as_one_vector(p):
    entries = [2.7, 0.4, 0.9, 5.3, 1.6, 0.2, 3.1, 0.7, 4.2]
    expected = 5.3 if p == math.inf else sum(e**p for e in entries) ** (1 / p)
    actual = global_norm(tensors(), p)
    assert isinstance(actual, float), f"global_norm returned {type(actual).__name__}, not a number"
    assert_close(actual, expected, f"global_norm of {SHOWN}, p={p}", "equation (2)", rtol=1e-12)


def test_global_norm_has_p_2_by_default():
    assert_close(global_norm(tensors()), NORMS[2.0], f"global_norm of {SHOWN}", "equation (2), p = 2", rtol=1e-12)


@pytest.mark.parametrize(("scale", "dtype"), [(1e200, torch.float64), (1e-200, torch.float64), (1e30, torch.float32)])
@pytest.mark.parametrize("p", [2.0, 3.0])
def test_global_norm_does_not_mind_huge_and_tiny_gradients(scale, dtype, p):
    actual = global_norm([gradient * scale for gradient in tensors(dtype)], p)
    expected = scale * global_norm(tensors(), p)
    assert_close(actual, expected, f"global_norm of {SHOWN} times {scale:g}, {dtype}", "(2): in proportion", rtol=1e-6)


@pytest.mark.parametrize("p", [1.0, 2.0, math.inf])
def test_global_norm_of_zeros_is_zero(p):
    assert_close(global_norm([torch.zeros(3), torch.zeros(2, 2)], p), 0.0, f"global_norm of zeros, p={p}", "(2)")


# clip_by_norm


@pytest.mark.parametrize("p", [1.0, 2.0, math.inf])
def test_clip_by_norm_shortens_all_gradients_by_one_factor(p):
    clipped, norm = clip_by_norm(tensors(), 2.3, p=p, eps=0.5)
    call = f"clip_by_norm of {SHOWN}, max_norm=2.3, p={p}, eps=0.5"
    expected = tensors(scale=2.3 / (NORMS[p] + 0.5))
    assert_all_close(clipped, expected, call, "equation (3)")
    assert_close(norm, NORMS[p], f"the norm that {call} returned", "equation (2), before clipping", rtol=1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("max_norm", [1e-3, 0.5, 1e3])
def test_clip_by_norm_agrees_with_pytorch_on_a_network(p, max_norm):
    _, gradients = weights_and_gradients()
    expected, before = by_torch(clip_grad_norm_, gradients, max_norm, norm_type=p)
    clipped, norm = clip_by_norm(gradients, max_norm, p=p)
    assert_all_close(clipped, expected, f"clip_by_norm(max_norm={max_norm}, p={p})", "clip_grad_norm_")
    assert_close(norm, before, f"the norm that clip_by_norm(p={p}) returned", "clip_grad_norm_", rtol=1e-12)


def test_clip_by_norm_leaves_short_gradients_and_zeros_alone():
    clipped, _ = clip_by_norm(tensors(), 8.5)
    call = f"clip_by_norm of {SHOWN}, whose norm is 8.17, max_norm=8.5"
    assert_all_close(clipped, tensors(), call, "(3): a factor of 1")
    clipped, norm = clip_by_norm([torch.zeros(3)], 1.0)
    assert_all_close(clipped, [torch.zeros(3)], "clip_by_norm of zeros", "(3)")
    assert_close(norm, 0.0, "the norm of zeros", "(2)")


def test_clip_by_norm_of_a_gradient_at_the_limit_has_the_guard_of_pytorch():
    gradient = torch.tensor([1.0], dtype=torch.float64)
    (clipped,), _ = clip_by_norm([gradient], 1.0)
    assert_close(clipped, [1 / (1 + 1e-6)], "clip_by_norm([1], max_norm=1)", "(3) with 1e-6", rtol=1e-12)


def test_clip_by_norm_keeps_float32_and_its_arguments():
    assert_pure(lambda gradients: clip_by_norm(gradients, 99.0)[0], "clip_by_norm(max_norm=99)")


def test_clip_by_norm_descends_a_cliff_that_throws_plain_descent_off():
    """A cliff at 1, 40 times steeper than it is high, above a floor with its minimum near 0."""

    def slope(x):
        step = torch.sigmoid(40 * (x - 1))
        return 40 * step * (1 - step) + 0.05 * x / (1 + x**2).sqrt()

    ends, lows = [], []
    for max_norm in (1e9, 0.5):
        x = torch.tensor([1.5], dtype=torch.float64)
        low = x
        for _ in range(60):
            (gradient,), _ = clip_by_norm([slope(x)], max_norm)
            x = x - 2 * gradient
            low = torch.minimum(low, x)
        ends.append(x.item())
        lows.append(low.item())
    assert lows[0] < -10, (
        f"with max_norm=1e9, in effect not clipped, descent came to {lows[0]:.2f}; the cliff throws it"
    )
    assert ends[0] < -5, f"with max_norm=1e9 descent ended at {ends[0]:.2f}, thrown off, and should still be far away"
    said = f"with max_norm=0.5 descent went down to {lows[1]:.3f} and ended at {ends[1]:.4f}"
    assert lows[1] > -0.5 and abs(ends[1]) < 0.01, f"{said}; steps of at most 1 walk down the cliff and stop at 0"


def test_clip_by_norm_has_the_bias_that_the_note_tells():
    draws = [-1.0] * 9 + [14.0]
    clipped = [clip_by_norm([torch.tensor([g], dtype=torch.float64)], 1.0)[0][0].item() for g in draws]
    mean = sum(clipped) / 10
    # The guard of 1e-6 takes away as much.
    assert_close(mean, -0.8, "the mean of clip_by_norm(max_norm=1) over -1, nine times, and 14", "the note", rtol=1e-5)


# unit_norms


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2), (6, 2, 3, 2)])
def test_unit_norms_are_those_of_all_entries_with_one_first_index(shape):
    tensor = normal(*shape)
    expected = np.array([math.sqrt(sum(v**2 for v in row.ravel())) for row in tensor.numpy()])
    expected = expected.reshape(shape[0], *[1] * (len(shape) - 1))
    assert_close(unit_norms(tensor), expected, f"unit_norms of shape {shape}", "above equation (4)", rtol=1e-12)


def test_unit_norms_of_a_vector_or_a_number_are_one():
    vector = torch.tensor([2.3, -1.1, 0.7], dtype=torch.float64)
    call = "unit_norms([2.3, -1.1, 0.7])"
    assert_close(unit_norms(vector), [math.sqrt(6.99)], call, "above (4): a vector is one unit", rtol=1e-12)
    number = torch.tensor(-2.3, dtype=torch.float64)
    assert_close(unit_norms(number), 2.3, "unit_norms(-2.3)", "above (4): a number is one unit", rtol=1e-12)


def test_unit_norms_keep_float32_and_zeros():
    norms = unit_norms(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    assert norms.dtype == torch.float32, f"unit_norms of float32 returned {norms.dtype}"
    assert_close(norms, [[5.0], [0.0]], "unit_norms([[3, 4], [0, 0]])", "above (4)", rtol=1e-6)


# adaptive_clip


def test_adaptive_clip_shortens_each_unit_to_a_share_of_its_weights():
    weights = [torch.tensor([[6.0, 8.0], [0.5, -1.2], [0.3, 0.4]]), torch.tensor([3.0, -4.0])]
    gradients = [torch.tensor([[3.0, 4.0], [0.05, 0.12], [2.7, -3.6]]), torch.tensor([0.6, 0.8])]
    expected = [[[0.78, 1.04], [0.05, 0.12], [0.039, -0.052]], [0.39, 0.52]]
    actual = adaptive_clip(weights, gradients, clipping=0.13)
    call = "adaptive_clip of units with norms 10, 1.3, 0.5 and 5 and gradients of 5, 0.13, 4.5 and 1, clipping=0.13"
    assert_all_close(actual, expected, call, "equation (4)", rtol=1e-6)


def test_adaptive_clip_counts_weights_below_eps_as_eps():
    weights = [torch.tensor([[0.0, 0.0], [0.03, 0.04]], dtype=torch.float64)]
    gradients = [torch.tensor([[3.0, 4.0], [0.7, 2.4]], dtype=torch.float64)]
    expected = [[[0.6 * 0.026, 0.8 * 0.026], [0.28 * 0.026, 0.96 * 0.026]]]
    actual = adaptive_clip(weights, gradients, clipping=0.13, eps=0.2)
    assert_all_close(actual, expected, "adaptive_clip of units with norms 0 and 0.05, clipping=0.13, eps=0.2", "(4)")
    (actual,) = adaptive_clip([torch.zeros(2)], [torch.tensor([3.0, 4.0])])
    assert_close(actual, [0.6e-5, 0.8e-5], "adaptive_clip([0, 0], [3, 4])", "(4): 0.01 of 1e-3", rtol=1e-6)


@pytest.mark.parametrize("clipping", [0.003, 0.05])
def test_adaptive_clip_of_a_network_agrees_with_a_loop_over_units(clipping):
    weights, gradients = weights_and_gradients()
    n_clipped = 0
    actual = adaptive_clip(weights, gradients, clipping=clipping)
    for i, (weight, gradient) in enumerate(zip(weights, gradients)):
        units = list(zip(weight, gradient)) if weight.ndim > 1 else [(weight, gradient)]
        expected = []
        for w, g in units:
            ratio = float(g.norm()) / max(float(w.norm()), 1e-3)
            n_clipped += ratio > clipping
            expected.append((g * min(1.0, clipping / max(ratio, 1e-300))).numpy())
        expected = np.array(expected) if weight.ndim > 1 else expected[0]
        call = f"adaptive_clip(clipping={clipping}) of a perceptron, gradient number {i}"
        assert_close(actual[i], expected, call, "equation (4)", rtol=1e-11)
    assert n_clipped > 0, "no unit was to be clipped: the test is about nothing"


def test_adaptive_clip_takes_the_filter_of_a_convolution_as_a_unit():
    weight, gradient = normal(3, 2, 2, 2), normal(3, 2, 2, 2, seed=1)
    limit = 0.1 * (weight**2).sum(dim=(1, 2, 3), keepdim=True).sqrt()
    expected = gradient / (gradient**2).sum(dim=(1, 2, 3), keepdim=True).sqrt() * limit
    (actual,) = adaptive_clip([weight], [gradient], clipping=0.1)
    assert_close(actual, expected, "adaptive_clip of 3 filters of shape (2, 2, 2)", "equation (4)", rtol=1e-11)


def test_adaptive_clip_leaves_gradients_of_zero_alone():
    (actual,) = adaptive_clip([torch.ones(2, 2)], [torch.tensor([[0.0, 0.0], [3.0, 4.0]])], clipping=0.5)
    root = 0.5 * math.sqrt(2)
    assert_close(actual, [[0, 0], [0.6 * root, 0.8 * root]], "adaptive_clip, one gradient of zero", "(4)", rtol=1e-6)


def test_adaptive_clip_keeps_float32_and_its_arguments():
    def rule(gradients):
        weights = [torch.full_like(gradient, 1e6) for gradient in gradients]
        before = [weight.clone() for weight in weights]
        clipped = adaptive_clip(weights, gradients)
        assert all(torch.equal(a, b) for a, b in zip(weights, before)), "adaptive_clip changed the parameters"
        return clipped

    assert_pure(rule, "adaptive_clip where nothing is to be clipped")


@pytest.mark.parametrize("size", [1e-9, 1.0])
def test_adaptive_clip_of_tensors_that_require_gradients_records_nothing(size):
    weight, gradient = torch.ones(2, 3, requires_grad=True), torch.full((2, 3), size, requires_grad=True)
    for pair in ((weight, gradient.detach()), (weight.detach(), gradient)):
        (actual,) = adaptive_clip([pair[0]], [pair[1]])
        assert not actual.requires_grad, "what adaptive_clip returned records operations for autograd: detach"


# variance_map


@pytest.mark.parametrize(("variance", "scale"), [(0.37, 1.3), (2.9, 0.7), (14.0, 3.1), (1e-6, 1.3)])
def test_variance_map_is_the_integral_of_equation_5(variance, scale):
    def integrand(z):
        return math.exp(-(z**2) / 2) * math.tanh(math.sqrt(variance) * z) ** 2

    expected = scale**2 * 2 * quad(integrand, 0, 12, epsabs=1e-15, epsrel=1e-12)[0] / math.sqrt(2 * math.pi)
    actual = variance_map(variance, scale)
    assert_close(actual, expected, f"variance_map({variance}, {scale})", "(5), by scipy.integrate.quad", rtol=1e-8)


def test_variance_map_of_zero_is_zero():
    assert_close(variance_map(0.0, 2.0), 0.0, "variance_map(0, 2)", "equation (5)")


# growth_factor


def gain(variance, scale):
    """The factor (6) for a variance."""

    def integrand(z):
        return math.exp(-(z**2) / 2) * (1 - math.tanh(math.sqrt(variance) * z) ** 2) ** 2

    return scale**2 * 2 * quad(integrand, 0, 12, epsabs=1e-15, epsrel=1e-12)[0] / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("scale", [0.5, 0.83])
def test_growth_factor_of_small_weights_is_the_square_of_their_scale(scale):
    assert_close(growth_factor(scale), scale**2, f"growth_factor({scale})", "(6) with q* = 0", rtol=1e-9)


@pytest.mark.parametrize("scale", [1.5, 2.7])
def test_growth_factor_is_taken_at_the_fixed_point(scale):
    """The fixed point by bisection on (5) with SciPy's integral."""
    low, high = 1e-3, 50.0
    for _ in range(40):
        middle = (low + high) / 2
        integral = quad(lambda z, q=middle: math.exp(-(z**2) / 2) * math.tanh(math.sqrt(q) * z) ** 2, 0, 12)[0]
        grows = scale**2 * 2 * integral / math.sqrt(2 * math.pi) > middle
        low, high = (middle, high) if grows else (low, middle)
    expected = gain(low, scale)
    assert_close(growth_factor(scale), expected, f"growth_factor({scale})", f"(6) at q* = {low:.4f}", rtol=1e-7)


def test_growth_factor_repeats_the_map_as_often_as_told():
    from_1 = [1.0]
    for _ in range(3):
        from_1.append(
            1.3**2
            * 2
            * quad(lambda z: math.exp(-(z**2) / 2) * math.tanh(math.sqrt(from_1[-1]) * z) ** 2, 0, 12)[0]
            / math.sqrt(2 * math.pi)
        )
    for n_layers in (1, 3):
        expected = gain(from_1[n_layers], 1.3)
        call = f"growth_factor(1.3, n_layers={n_layers})"
        assert_close(growth_factor(1.3, n_layers=n_layers), expected, call, "(5), so many times, and (6)", rtol=1e-7)


@pytest.mark.parametrize(("scale", "start"), [(0.8, 1e-3), (1.5, 0.7934), (3.0, 6.305)])
def test_growth_factor_predicts_the_gradients_of_a_deep_network(scale, start):
    """The mean over 40 inputs of the ratio of squared norms, 8 layers of 120 units apart.

    A layer changes the logarithm of one ratio at random with variance 2 / n from its weights and at most some 10 / n from
    the units' slopes; over 8 layers and 40 nearly independent inputs that makes a deviation of 0.14, of which six are
    allowed. The predictions are -3.6, 1.0 and 5.0; the scale alone would make the last two 6.5 and 17.6.
    """
    units, n_layers, n_inputs = 120, 8, 40
    h = first = (math.sqrt(start) * normal(n_inputs, units, seed=2)).requires_grad_()
    for layer in range(n_layers):
        h = torch.tanh(h) @ (scale / math.sqrt(units) * normal(units, units, seed=3 + layer))
    last = normal(n_inputs, units, seed=1)
    (gradient,) = torch.autograd.grad((h * last).sum(), first)
    measured = math.log(float(((gradient**2).sum(1) / (last**2).sum(1)).mean()))
    predicted = n_layers * math.log(growth_factor(scale))
    said = f"over 8 layers of scale {scale} squared gradients grow by exp({measured:.2f}); growth_factor predicts"
    assert abs(measured - predicted) < 0.85, f"{said} exp({predicted:.2f})"


# jacobian_product


def test_jacobian_product_of_two_units_by_hand():
    weights = torch.tensor([[0.7, -1.2], [0.4, 0.9]], dtype=torch.float64)
    states = torch.tensor([[0.9, 0.1], [0.5, -0.2], [-0.6, 0.3]], dtype=torch.float64)
    second = np.array([[0.64 * 0.7, 0.64 * -1.2], [0.91 * 0.4, 0.91 * 0.9]])
    first = np.array([[0.75 * 0.7, 0.75 * -1.2], [0.96 * 0.4, 0.96 * 0.9]])
    expected = np.array([second @ first, second, np.eye(2)])
    actual = jacobian_product(weights, states)
    call = "jacobian_product([[0.7, -1.2], [0.4, 0.9]], [[0.9, 0.1], [0.5, -0.2], [-0.6, 0.3]])"
    assert_close(actual, expected, call, "equation (7)", rtol=1e-12)


@pytest.mark.parametrize(("units", "time"), [(5, 7), (1, 4), (3, 1)])
def test_jacobian_product_agrees_with_autograd(units, time):
    weights, pushes = normal(units, units), normal(time, units, seed=1)
    states = [torch.tanh(pushes[0]).requires_grad_()]
    for push in pushes[1:]:
        states.append(torch.tanh(weights @ states[-1] + push))
    rows = [torch.autograd.grad(entry, states, retain_graph=True) for entry in states[-1].unbind()]
    expected = torch.stack([torch.stack([row[t] for row in rows]) for t in range(time)])
    actual = jacobian_product(weights, torch.stack(states).detach())
    assert_close(
        actual, expected, f"jacobian_product of {units} units over {time} steps", "autograd", rtol=1e-9, atol=1e-14
    )


@pytest.mark.parametrize("radius", [0.8, 1.25])
def test_jacobian_product_vanishes_or_explodes_as_the_powers_of_the_spectral_radius(radius):
    """A multiple of an orthogonal matrix, at rest: every product has all singular values equal to the power."""
    weights = radius * torch.linalg.qr(normal(4, 4)).Q
    products = jacobian_product(weights, torch.zeros(30, 4, dtype=torch.float64))
    actual = torch.linalg.matrix_norm(products, 2)
    expected = [radius**k for k in range(29, -1, -1)]
    call = f"the largest singular values of jacobian_product, spectral radius {radius}, states of zero"
    assert_close(actual, expected, call, "(7): powers of the radius", rtol=1e-10)
    moving = jacobian_product(weights, normal(30, 4, seed=1).tanh())
    below = (torch.linalg.matrix_norm(moving, 2)[:-1] < actual[:-1]).all()
    assert below, (
        f"with other states some product of radius {radius} is longer than its power: units that saturate damp"
    )


def test_jacobian_product_keeps_float32_and_its_arguments():
    weights, states = normal(3, 3, dtype=torch.float32), normal(4, 3, seed=1, dtype=torch.float32).tanh()
    products = jacobian_product(weights, states)
    assert products.dtype == torch.float32, f"jacobian_product of float32 returned {products.dtype}"
    assert_close(weights, normal(3, 3, dtype=torch.float32), "weights after jacobian_product", "their value before")
    before = normal(4, 3, seed=1, dtype=torch.float32).tanh()
    assert_close(states, before, "states after jacobian_product", "their value before")


@pytest.mark.given
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_clip_by_value_and_the_others_refuse_settings_that_are_not_positive(bad):
    calls = {
        "limit": lambda: clip_by_value(tensors(), bad),
        "max_norm": lambda: clip_by_norm(tensors(), bad),
        "eps": lambda: clip_by_norm(tensors(), 1.0, eps=bad),
        "clipping": lambda: adaptive_clip(tensors(), tensors(), clipping=bad),
        "weight_scale": lambda: growth_factor(bad),
        "weight_scale must": lambda: variance_map(1.0, bad),
        "eps must": lambda: adaptive_clip(tensors(), tensors(), eps=bad),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=name):
            call()


@pytest.mark.given
def test_clip_by_norm_and_the_others_refuse_gradients_that_are_none():
    for bad in ([], [torch.ones(2), torch.tensor([1.0, math.nan])], [torch.tensor(math.inf)]):
        calls = [
            lambda bad=bad: clip_by_value(bad, 1.0),
            lambda bad=bad: global_norm(bad),
            lambda bad=bad: clip_by_norm(bad, 1.0),
            lambda bad=bad: adaptive_clip(bad, bad),
        ]
        for call in calls:
            with pytest.raises(ValueError, match="gradients"):
                call()
    with pytest.raises(ValueError, match="shapes"):
        adaptive_clip([torch.ones(2, 3)], [torch.ones(3, 2)])
    for p in (0.5, math.nan):
        with pytest.raises(ValueError, match="p must"):
            global_norm(tensors(), p)


@pytest.mark.given
def test_variance_map_growth_factor_and_jacobian_product_refuse_what_is_none():
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="variance"):
            variance_map(bad, 1.0)
    with pytest.raises(ValueError, match="n_layers"):
        growth_factor(1.0, n_layers=0)
    for weights in (torch.ones(2, 3), torch.ones(2)):
        with pytest.raises(ValueError, match="weights"):
            jacobian_product(weights, torch.ones(2, 2))
    for states in (torch.ones(0, 2), torch.ones(2, 3), torch.ones(2)):
        with pytest.raises(ValueError, match="states"):
            jacobian_product(torch.eye(2), states)
