"""One training step beside that of diffusers' UNet2DModel: the same architecture, with the same weights.

First the weights of diffusers' network are copied into ours, and the two must give the same predictions and gradients; then
the floating point operations of a forward and backward pass are counted, and must be equal within 2 %.
"""

from collections.abc import Callable, Iterator

import torch
from diffusers import UNet2DModel
from torch.utils.flop_counter import FlopCounterMode

from mlpath.models.generative.ddpm.unet import UNet
from mlpath.workbench.bench import Case, close

SIZE, BATCH, HEADS = 8, 64, 4
WIDTHS = (32, 64)


def make() -> tuple[UNet, UNet2DModel]:
    """Return the two networks with the same random weights."""
    ours = UNet(1, WIDTHS, n_blocks=1, attend=(False, True), n_heads=HEADS)
    theirs = UNet2DModel(
        sample_size=SIZE,
        in_channels=1,
        out_channels=1,
        flip_sin_to_cos=False,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        block_out_channels=WIDTHS,
        layers_per_block=1,
        attention_head_dim=WIDTHS[1] // HEADS,
        norm_num_groups=8,
    )
    copy_residual = {"norm1": "norm1", "conv1": "conv1", "time_emb_proj": "time", "norm2": "norm2", "conv2": "conv2"}
    copy_attention = {
        "group_norm": "norm",
        "to_q": "to_query",
        "to_k": "to_key",
        "to_v": "to_value",
        "to_out.0": "project",
    }

    def copy(source: torch.nn.Module, target: torch.nn.Module) -> None:
        target.load_state_dict(source.state_dict())

    def copy_layer(residual: torch.nn.Module, attention: torch.nn.Module | None, layer: torch.nn.Module) -> None:
        for theirs_name, ours_name in copy_residual.items():
            copy(residual.get_submodule(theirs_name), layer.block.get_submodule(ours_name))
        if residual.conv_shortcut is not None:
            copy(residual.conv_shortcut, layer.block.shortcut)
        if attention is not None:
            for theirs_name, ours_name in copy_attention.items():
                copy(attention.get_submodule(theirs_name), layer.attention.get_submodule(ours_name))

    copy(theirs.time_embedding.linear_1, ours.time[0])
    copy(theirs.time_embedding.linear_2, ours.time[2])
    copy(theirs.conv_in, ours.entry)
    copy(theirs.conv_norm_out, ours.exit[0])
    copy(theirs.conv_out, ours.exit[2])
    fine, coarse = theirs.down_blocks
    copy_layer(fine.resnets[0], None, ours.down[0])
    copy(fine.downsamplers[0].conv, ours.down[1].conv)
    copy_layer(coarse.resnets[0], coarse.attentions[0], ours.down[2])
    copy_layer(theirs.mid_block.resnets[0], theirs.mid_block.attentions[0], ours.middle[0])
    copy_layer(theirs.mid_block.resnets[1], None, ours.middle[1])
    coarse, fine = theirs.up_blocks
    for i in range(2):
        copy_layer(coarse.resnets[i], coarse.attentions[i], ours.up[i])
        copy_layer(fine.resnets[i], None, ours.up[3 + i])
    copy(coarse.upsamplers[0].conv, ours.up[2].conv)
    return ours, theirs


Loss = Callable[[torch.nn.Module], torch.Tensor]


def assert_same_networks(ours: torch.nn.Module, theirs: torch.nn.Module, loss_of: Loss) -> None:
    """As many parameters, and gradients of the same size in all of them together."""
    counts, norms = [], []
    for net in (ours, theirs):
        net.zero_grad()
        loss_of(net).backward()
        counts.append(sum(p.numel() for p in net.parameters()))
        norms.append(float(sum(p.grad.double().square().sum() for p in net.parameters()) ** 0.5))
    assert counts[0] == counts[1], f"the networks have {counts[0]} and {counts[1]} parameters"
    assert abs(norms[0] / norms[1] - 1) < 1e-4, f"the norms of the gradients are {norms[0]} and {norms[1]}"


def operations(net: torch.nn.Module, loss_of: Loss) -> int:
    with FlopCounterMode(display=False) as counter:
        loss_of(net).backward()
    return counter.get_total_flops()


def stepper(net: torch.nn.Module, loss_of: Loss) -> Callable[[], float]:
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(net)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def cases() -> Iterator[Case]:
    torch.manual_seed(0)
    ours, theirs = make()
    noisy, noise = torch.randn(2, BATCH, 1, SIZE, SIZE)
    t = torch.randint(1, 201, (BATCH,))

    def predict(net: torch.nn.Module) -> torch.Tensor:
        return net(noisy, t) if net is ours else net(noisy, t).sample

    def loss_of(net: torch.nn.Module) -> torch.Tensor:
        return (predict(net) - noise).square().mean()

    with torch.no_grad():
        expected = predict(theirs)
        gap = float((predict(ours) - expected).abs().max() / expected.abs().max())
    assert gap < 1e-5, f"the predictions differ by {gap:.1e}"
    assert_same_networks(ours, theirs, loss_of)
    ratio = operations(ours, loss_of) / operations(theirs, loss_of)
    assert abs(ratio - 1) < 0.02, f"ours does {ratio:.4f} times the operations"
    yield Case(
        f"training step, batch {BATCH} of {SIZE} x {SIZE}, operations {ratio:.4f} : 1",
        ours=stepper(ours, loss_of),
        peer_name="diffusers UNet2DModel",
        peer=stepper(theirs, loss_of),
        check=close(1e-5),  # the losses of the first step
        limit=1.1,
    )
