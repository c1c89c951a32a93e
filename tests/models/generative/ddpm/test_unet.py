"""Shared tests of models/generative/ddpm/unet: run on the reference, and on the learner's file.

Networks are in float64 with random weights (also where training would start from zeros), and are compared to 1e-9: sums of
some thousand products are right to 1e-13, and any wrong axis, order or scale shows at the first digits.
"""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, group_norm, scaled_dot_product_attention, silu

from mlpath.models.generative.ddpm.unet import ResidualBlock, SpatialAttention, UNet, attention, time_embedding
from mlpath.testing import assert_close


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def randomised(module, seed=0):
    """The module in float64, with random weights and biases of the usual size."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    with torch.no_grad():
        for p in module.parameters():
            fan_in = p[0].numel() if p.ndim > 1 else 1
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) / math.sqrt(fan_in))
    return module


def test_time_embedding_is_sines_then_cosines_of_falling_frequencies():
    t = [0, 1, 2, 17, 250, 1000]
    got = time_embedding(torch.tensor(t), 10)
    expected = [[f(s * 10_000 ** (-i / 5)) for f in (math.sin, math.cos) for i in range(5)] for s in t]
    # Angles up to 1,000 in float32 are off by up to 6e-5 after rounding of frequency and product.
    assert_close(got, expected, f"time_embedding({t}, 10)", "equation (1)", rtol=0, atol=1.5e-4)


def test_time_embedding_takes_the_longest_period_that_it_is_told():
    got = time_embedding(torch.tensor([3]), 4, longest=16.0)
    expected = [[math.sin(3), math.sin(0.75), math.cos(3), math.cos(0.75)]]
    assert_close(got, expected, "time_embedding([3], 4, longest=16)", "(1) with frequencies 1, 1/4", rtol=0, atol=1e-6)


def test_time_embedding_of_width_two_is_a_single_clock():
    got = time_embedding(torch.tensor([2]), 2)
    assert_close(got, [[math.sin(2), math.cos(2)]], "time_embedding([2], 2)", "equation (1)", rtol=0, atol=1e-6)


def test_time_embedding_compares_times_by_their_difference():
    e = time_embedding(torch.arange(0, 60), 32)
    product = e @ e.T
    for gap in (0, 1, 30):
        diagonal = product.diagonal(gap)
        expected = sum(math.cos(gap * 10_000 ** (-i / 16)) for i in range(16))
        call = f"the products of embeddings {gap} steps apart"
        expected, why = torch.full_like(diagonal, expected), "as angles up to 60 are good to 4e-6 in float32"
        assert_close(diagonal, expected, call, "sum of cos(omega gap)", rtol=0, atol=1e-4, tolerance=why)


def test_time_embedding_returns_float32_and_leaves_the_times_alone():
    t = torch.tensor([5, 6])
    got = time_embedding(t, 6)
    assert got.dtype == torch.float32, f"time_embedding returned {got.dtype}"
    assert t.tolist() == [5, 6], "time_embedding changed the times that it was given"


@pytest.mark.given
def test_time_embedding_refuses_odd_widths_and_other_shapes():
    for width in (0, 7, -2):
        with pytest.raises(ValueError, match="width"):
            time_embedding(torch.tensor([1]), width)
    with pytest.raises(ValueError, match="t must"):
        time_embedding(torch.tensor([[1]]), 4)


@pytest.mark.parametrize("shape", [(7, 4), (3, 7, 4), (2, 3, 7, 1), (2, 3, 4, 16)])
def test_attention_equals_torchs_own(shape):
    query = normal(*shape, seed=1)
    key, value = normal(*shape[:-2], 9, shape[-1], seed=2), normal(*shape[:-2], 9, 5, seed=3)
    got = attention(query, key, value)
    expected = scaled_dot_product_attention(query, key, value)
    call = f"attention of {tuple(query.shape)}, {tuple(key.shape)}, {tuple(value.shape)}"
    assert_close(got, expected, call, "torch's scaled_dot_product_attention, equation (3)", atol=1e-12)


def test_attention_takes_a_mean_of_the_values():
    value = normal(1, 6, seed=3).expand(8, 6)
    got = attention(normal(5, 4), normal(8, 4, seed=1), value)
    assert_close(got, value[:5], "attention where all values are the same", "(3): weights add up to one over the keys")


def test_attention_picks_the_best_key_when_scores_are_huge():
    query = torch.tensor([[1e3], [-1e3]], dtype=torch.float64)
    key, value = torch.tensor([[1.0], [-1.0], [0.5]], dtype=torch.float64), normal(3, 2)
    got = attention(query, key, value)
    assert_close(got, value[:2], "attention with scores of 1000 and -1000", "the value of the best key")


def test_attention_is_safe_for_a_query_whose_scores_are_far_below_those_of_another():
    query = torch.tensor([[1e3], [-1e3]], dtype=torch.float64)
    key, value = torch.tensor([[1.0], [0.9], [0.8]], dtype=torch.float64), normal(3, 2)
    got = attention(query, key, value)
    call = "attention with scores of 800 to 1000 for one query and -1000 to -800 for the other"
    assert_close(got, value[[0, 2]], call, "the value of each query's best key")


def test_attention_does_not_mind_the_order_of_keys():
    query, key, value = normal(5, 4), normal(8, 4, seed=1), normal(8, 6, seed=2)
    shuffled = torch.tensor([3, 0, 7, 1, 6, 5, 2, 4])
    got = attention(query, key[shuffled], value[shuffled])
    assert_close(got, attention(query, key, value), "attention with keys and values shuffled alike", "(3) is a sum")


@pytest.mark.given
def test_attention_refuses_what_does_not_fit():
    for key, value in [(normal(8, 3), normal(8, 4)), (normal(8, 4), normal(7, 4))]:
        with pytest.raises(ValueError, match="query, key and value"):
            attention(normal(5, 4), key, value)


def by_equation_2(block, x, tau, groups):
    h = silu(group_norm(x, groups, block.norm1.weight, block.norm1.bias))
    h = conv2d(h, block.conv1.weight, block.conv1.bias, padding=1)
    h = h + torch.einsum("ot,bt->bo", block.time.weight, silu(tau)).add(block.time.bias).reshape(*h.shape[:2], 1, 1)
    h = silu(group_norm(h, groups, block.norm2.weight, block.norm2.bias))
    h = conv2d(h, block.conv2.weight, block.conv2.bias, padding=1)
    return h + (x if isinstance(block.shortcut, nn.Identity) else conv2d(x, block.shortcut.weight, block.shortcut.bias))


@pytest.mark.parametrize(("n_in", "n_out"), [(8, 8), (8, 12), (12, 4)])
def test_residual_block_forward_is_equation_2(n_in, n_out):
    block = randomised(ResidualBlock(n_in, n_out, 10, n_groups=4))
    x, tau = normal(3, n_in, 4, 6), normal(3, 10, seed=1)
    call = f"ResidualBlock({n_in}, {n_out}, 10)(images, time)"
    assert_close(block(x, tau), by_equation_2(block, x, tau, 4), call, "equation (2)", atol=1e-9)


def test_residual_block_forward_tells_each_image_its_own_time():
    block = randomised(ResidualBlock(4, 4, 6, n_groups=2))
    x, tau = normal(1, 4, 4, 4).expand(4, 4, 4, 4), normal(4, 6, seed=1)
    together = block(x, tau)
    for i in range(4):
        alone = block(x[i : i + 1], tau[i : i + 1])
        assert_close(
            together[i : i + 1], alone, f"image {i} of a batch of four times", "the same image alone", atol=1e-9
        )
    assert abs(together[0] - together[1]).max() > 0.01, "the block made the same of one image at two different times"


def test_residual_block_forward_drops_out_in_training_only():
    block = randomised(ResidualBlock(8, 8, 6, dropout=0.5))
    x, tau = normal(2, 8, 4, 6), normal(2, 6, seed=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = block(x, tau), block(x, tau)
    assert not torch.allclose(first, second), "in training two calls of a block with dropout gave the same result"
    block.eval()
    got = block(x, tau)
    assert_close(got, by_equation_2(block, x, tau, 8), "a block with dropout in eval mode", "(2) without D", atol=1e-9)


def test_residual_block_forward_drops_out_right_before_the_second_convolution():
    """With everything dropped there, the convolution adds its bias alone."""
    block = randomised(ResidualBlock(8, 12, 6, n_groups=4, dropout=1.0))
    x, tau = normal(2, 8, 4, 6), normal(2, 6, seed=1)
    expected = block.shortcut(x) + block.conv2.bias.reshape(12, 1, 1)
    assert_close(block(x, tau), expected, "a block in training with dropout=1", "(2) with D = 0: S x + bias", atol=1e-9)


def test_residual_block_forward_lets_all_layers_learn_and_its_input_alone():
    block = randomised(ResidualBlock(8, 16, 6))
    x, tau = normal(2, 8, 4, 6), normal(2, 6, seed=1)
    before = x.clone(), tau.clone()
    block(x, tau).square().sum().backward()
    idle = [name for name, p in block.named_parameters() if p.grad is None or not p.grad.any()]
    # The bias of conv1 and of `time` shift a channel before normalisation, which takes part of the shift away, not all.
    assert not idle, f"no gradient reaches {', '.join(idle)}: some layer is left out of (2)"
    assert torch.equal(x, before[0]) and torch.equal(tau, before[1]), "the block changed what it was given"


def by_equation_4(block, x, groups):
    """One head at a time, with torch's attention."""
    tokens = (
        group_norm(x, groups, block.norm.weight, block.norm.bias).permute(0, 2, 3, 1).reshape(len(x), -1, x.shape[1])
    )
    width = x.shape[1] // block.n_heads
    heads = []
    for j in range(block.n_heads):
        run = slice(j * width, (j + 1) * width)
        q, k, v = (
            tokens @ layer.weight[run].T + layer.bias[run] for layer in (block.to_query, block.to_key, block.to_value)
        )
        heads.append(scaled_dot_product_attention(q, k, v))
    out = torch.cat(heads, dim=2) @ block.project.weight.T + block.project.bias
    return x + out.reshape(len(x), x.shape[2], x.shape[3], x.shape[1]).permute(0, 3, 1, 2)


@pytest.mark.parametrize("n_heads", [1, 2, 4])
@pytest.mark.parametrize("size", [(3, 5), (4, 4), (1, 7)])
def test_spatial_attention_forward_is_equation_4(n_heads, size):
    block = randomised(SpatialAttention(16, n_heads=n_heads, n_groups=4))
    x = normal(3, 16, *size)
    call = f"SpatialAttention(16, n_heads={n_heads})(images of {size[0]} x {size[1]})"
    assert_close(block(x), by_equation_4(block, x, 4), call, "equation (4)", atol=1e-9)


def test_spatial_attention_forward_shuffles_its_result_with_its_pixels():
    block = randomised(SpatialAttention(8, n_heads=2, n_groups=2))
    x, order = normal(2, 8, 3, 5), torch.randperm(15, generator=torch.Generator().manual_seed(1))

    def shuffled(images):
        return images.flatten(2)[:, :, order].reshape(images.shape)

    got = block(shuffled(x))
    assert_close(got, shuffled(block(x)), "SpatialAttention of shuffled pixels", "its result, shuffled", atol=1e-9)


def test_spatial_attention_forward_keeps_images_apart_and_unchanged():
    block = randomised(SpatialAttention(8, n_heads=2, n_groups=2))
    x = normal(3, 8, 3, 5)
    before = x.clone()
    together = block(x)
    for i in range(3):
        assert_close(together[i : i + 1], block(x[i : i + 1]), f"image {i} of a batch", "the image alone", atol=1e-9)
    assert torch.equal(x, before), "SpatialAttention changed the images that it was given"


def test_spatial_attention_forward_lets_all_layers_learn():
    block = randomised(SpatialAttention(8, n_heads=2, n_groups=2))
    block(normal(2, 8, 3, 5)).square().sum().backward()
    # A constant added to all keys shifts all scores of a query alike, which the softmax ignores: that bias learns nothing.
    idle = [n for n, p in block.named_parameters() if (p.grad is None or not p.grad.any()) and n != "to_key.bias"]
    assert not idle, f"no gradient reaches {', '.join(idle)}: some layer is left out of (4)"


@pytest.mark.given
def test_spatial_attention_forward_needs_heads_that_divide_the_channels():
    with pytest.raises(ValueError, match="n_heads"):
        SpatialAttention(16, n_heads=3)


def by_the_book(network, noisy, t):
    """Run a U-Net with the skips numbered: x_0 is the entry's, x_k that of the k-th layer down."""
    half = network.width // 2
    angle = t.double()[:, None] * 10_000 ** (-torch.arange(half, dtype=torch.float64) / half)
    tau = network.time(torch.cat([angle.sin(), angle.cos()], dim=1))
    x = {0: network.entry(noisy)}
    for k, layer in enumerate(network.down, start=1):
        x[k] = layer(x[k - 1], tau)
    left = len(network.down)
    h = network.middle[1](network.middle[0](x[left], tau), tau)
    for layer in network.up:
        if type(layer).__name__ == "_Double":
            h = layer(h)
        else:
            h = layer(torch.cat([h, x[left]], dim=1), tau)
            left -= 1
    return network.exit(h)


@pytest.mark.parametrize(
    ("channels", "widths", "n_blocks", "size"),
    [(1, (8, 16), 1, (8, 8)), (3, (8, 8, 16), 2, (4, 8)), (2, (8,), 1, (5, 3))],
)
def test_u_net_forward_gives_each_layer_up_what_was_kept_on_the_way_down(channels, widths, n_blocks, size):
    attend = [False] * (len(widths) - 1) + [True]
    network = randomised(UNet(channels, widths, n_blocks=n_blocks, attend=attend, n_heads=2))
    noisy, t = normal(3, channels, *size), torch.tensor([1, 7, 40])
    got = network(noisy, t)
    call = f"UNet({channels}, {widths}, n_blocks={n_blocks})(images of {size[0]} x {size[1]}, t)"
    expected = by_the_book(network, noisy, t)
    scale = abs(expected).max().item()
    why = "as the embedding is in float32, its angles good to 4e-6"
    because = "the maths: skips x_K first, x_0 last"
    assert_close(got, expected, call, because, rtol=0, atol=1e-3 * scale, tolerance=why)


def test_u_net_forward_tells_each_image_its_own_time():
    network = randomised(UNet(1, (8, 16), n_heads=2))
    noisy, t = normal(1, 1, 8, 8).expand(4, 1, 8, 8), torch.tensor([1, 3, 100, 900])
    together = network(noisy, t)
    for i in range(4):
        alone = network(noisy[i : i + 1], t[i : i + 1])
        assert_close(together[i : i + 1], alone, f"image {i} of a batch with t={t[i]}", "the image alone", atol=1e-9)
        if i:
            far = abs(together[i] - together[0]).max() / abs(together[0]).max()
            assert far > 0.01, f"UNet answered alike at t=1 and t={t[i]}: does it use the time?"


def test_u_net_forward_lets_every_layer_learn():
    network = randomised(UNet(1, (8, 16), n_blocks=1, n_heads=2))
    network(normal(2, 1, 8, 4), torch.tensor([1, 50])).square().sum().backward()
    idle = [n for n, p in network.named_parameters() if (p.grad is None or not p.grad.any()) and "to_key.bias" not in n]
    assert not idle, f"no gradient reaches {', '.join(idle)}: UNet.forward leaves a layer out"


def test_u_net_forward_predicts_nothing_before_training():
    network, noisy = UNet(1, (8, 16), n_heads=2), normal(2, 1, 8, 8, dtype=torch.float32)
    got = network(noisy, torch.tensor([3, 4]))
    assert got.dtype == torch.float32, f"a float32 UNet returned {got.dtype}"
    expected = network.exit[-1].bias.reshape(1, 1, 1, 1).expand(2, 1, 8, 8)
    assert_close(got, expected, "a fresh UNet", "its last weights are zero", rtol=1e-6)


@pytest.mark.given
def test_u_net_forward_refuses_sizes_that_cannot_be_halved():
    network = UNet(1, (8, 16), n_heads=2)
    for shape in [(2, 1, 7, 8), (2, 1, 8, 7), (1, 8, 8)]:
        with pytest.raises(ValueError, match="noisy"):
            network(torch.zeros(shape), torch.tensor([1, 2]))
    deeper = UNet(1, (8, 8, 8), attend=(False, False, False), n_heads=2)
    for size in [(8, 6), (6, 8)]:
        with pytest.raises(ValueError, match="noisy"):
            deeper(torch.zeros(2, 1, *size), torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="t must"):
        network(torch.zeros(2, 1, 8, 8), torch.tensor([1]))
    with pytest.raises(ValueError, match="attend"):
        UNet(1, (8, 16, 32))
