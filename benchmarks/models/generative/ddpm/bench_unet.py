"""One training step of our U-Net beside that of diffusers' UNet2DModel: the same architecture, with the same weights.

First the weights of diffusers' network are copied into ours, and the two must give the same predictions and gradients;
then the floating point operations of a forward and backward pass are counted; then steps are timed, turn and turn about.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import UNet2DModel
from torch.utils.flop_counter import FlopCounterMode

from mlpath.models.generative.ddpm.unet import UNet

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from _timing import compare, report

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


def main() -> None:
    """Compare predictions, gradients, operations and times."""
    torch.manual_seed(0)
    ours, theirs = make()
    n_ours, n_theirs = (sum(p.numel() for p in net.parameters()) for net in (ours, theirs))
    noisy, t, noise = (
        torch.randn(BATCH, 1, SIZE, SIZE),
        torch.randint(1, 201, (BATCH,)),
        torch.randn(BATCH, 1, SIZE, SIZE),
    )

    def predict(net: torch.nn.Module) -> torch.Tensor:
        return net(noisy, t) if net is ours else net(noisy, t).sample

    def loss_of(net: torch.nn.Module) -> torch.Tensor:
        return (predict(net) - noise).square().mean()

    with torch.no_grad():
        gap = float((predict(ours) - predict(theirs)).abs().max() / predict(theirs).abs().max())
    norms, flops = [], []
    for net in (ours, theirs):
        with FlopCounterMode(display=False) as counter:
            loss_of(net).backward()
        flops.append(counter.get_total_flops())
        norms.append(float(sum(p.grad.double().square().sum() for p in net.parameters()) ** 0.5))
    print(
        f"parameters {n_ours} and {n_theirs}; predictions differ by {gap:.1e}; norms of gradients {norms[0]:.6f} and {norms[1]:.6f}"
    )
    print(
        f"operations of a step: {flops[0] / 1e9:.4f} and {flops[1] / 1e9:.4f} GFLOP, ratio {flops[0] / flops[1]:.4f}\n"
    )
    assert n_ours == n_theirs and gap < 1e-5 and abs(norms[0] / norms[1] - 1) < 1e-4, (
        "the two networks are not the same"
    )
    assert abs(flops[0] / flops[1] - 1) < 0.02, "the two networks do not do the same work"

    def stepper(net: torch.nn.Module) -> Callable[[], None]:
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)

        def step() -> None:
            optimizer.zero_grad()
            loss_of(net).backward()
            optimizer.step()

        return step

    times = compare(stepper(ours), stepper(theirs), repeats=40)
    report(f"U-Net training step, batch {BATCH} of {SIZE} x {SIZE}", "diffusers UNet2DModel", times)


if __name__ == "__main__":
    main()
