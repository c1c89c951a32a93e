"""What the U-Net is told about the time, where its pixels look, and digits that it draws beside real ones."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mlpath.models.generative._diffusion import train
from mlpath.models.generative._shared import digits
from mlpath.models.generative.ddpm.forward import diffuse
from mlpath.models.generative.ddpm.unet import attention, time_embedding


def figure(*, steps: int = 600) -> Figure:
    """Above, the time embedding; in the middle, the attention of one pixel after `steps` of training; below, samples.

    The default is a third of the training that the stated quality takes.
    """
    fig = plt.figure(figsize=(10, 8), layout="constrained")
    above, middle, below = fig.subfigures(3, 1, height_ratios=[1.1, 1.1, 1])
    hands, products = above.subplots(1, 2, width_ratios=[2, 1])
    e = time_embedding(torch.arange(200), 32)
    hands.imshow(e.T, aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
    hands.set(xlabel="time t", ylabel="entry", title="time embedding: 16 sines, then 16 cosines")
    picture = products.imshow(e @ e.T, cmap="viridis")
    products.set(xlabel="time s", ylabel="time t", title="near times are alike")
    above.colorbar(picture, ax=products)

    images, *_ = digits()
    generator = torch.Generator().manual_seed(0)
    trained = train(images, steps=steps, generator=generator)
    block = trained.network.middle[0].attention
    seen: list[torch.Tensor] = []
    hook = block.norm.register_forward_hook(lambda module, args, result: seen.append(result))
    t = torch.tensor([10, 100, 200])
    clean = 2 * images[5:6].expand(3, -1, -1, -1) - 1
    noisy = diffuse(clean, t, torch.randn(clean.shape, generator=generator), trained.schedule)
    with torch.no_grad():
        trained.network(noisy, t)
        hook.remove()
        tokens = seen[0].flatten(2).mT
        query, key = (
            f(tokens).unflatten(2, (block.n_heads, -1)).transpose(1, 2) for f in (block.to_query, block.to_key)
        )
        # With the identity for values, attention returns its weights.
        weight = attention(query, key, torch.eye(16).expand(3, block.n_heads, 16, 16))
    axes = middle.subplots(2, 6)
    for i, t_i in enumerate(t):
        first, *others = axes[:, 2 * i : 2 * i + 2].flat
        first.imshow(noisy[i, 0], cmap="gray", vmin=-1.5, vmax=1.5)
        first.set_title(f"t = {t_i}", fontsize=9)
        for head, ax in enumerate(others):
            ax.imshow(weight[i, head, 5].reshape(4, 4), vmin=0, cmap="magma")
            ax.plot(1, 1, "c+")
            ax.set_title(f"head {head + 1}", fontsize=9)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    middle.suptitle("attention of the pixel marked + on the 4 × 4 scale", fontsize=10)

    drawn = trained.draw(32, generator=generator)
    for ax, grid, title in zip(
        below.subplots(1, 2), (drawn, images[:32]), (f"drawn after {steps} steps of training", "real digits")
    ):
        rows = torch.nn.functional.pad(grid, (0, 1, 0, 1), value=0.5)[:, 0].unflatten(0, (4, 8))
        ax.imshow(rows.transpose(1, 2).reshape(4 * 9, 8 * 9), cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize=10)
    return fig
