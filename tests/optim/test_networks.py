"""The digits and the perceptron that the methods for neural networks share."""

import torch

from mlpath.optim._networks import digits, perceptron


def test_digits_are_grey_levels_and_labels():
    images, labels = digits(50)
    assert images.shape == (50, 64)
    assert images.dtype == torch.float64
    assert 0 <= images.min() < images.max() <= 1
    assert labels[:10].tolist() == list(range(10))
    assert len(digits()[0]) == 1797


def test_perceptron_is_drawn_from_its_generator_alone_and_keeps_the_scale():
    images, _ = digits(100)
    network = perceptron((64, 30, 20, 10), generator=torch.Generator().manual_seed(1))
    again = perceptron((64, 30, 20, 10), generator=torch.Generator().manual_seed(1))
    assert [type(layer).__name__ for layer in network] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert torch.equal(network(images), again(images))
    for layer in network[::2]:
        scale = layer.weight.std() * layer.in_features**0.5
        # The standard deviation of n normal draws errs by 1/sqrt(2n) of itself: six of these.
        assert abs(scale - 1) < 6 / (2 * layer.weight.numel()) ** 0.5, f"weights of scale {scale}"
        assert not layer.bias.any()
