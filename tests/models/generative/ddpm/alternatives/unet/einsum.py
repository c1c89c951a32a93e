"""Einsum for attention, one head at a time, embeddings by loops, and a U-Net that runs by recursion."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]


def time_embedding(t: Times, width: int, *, longest: float = 10_000.0) -> Float[Tensor, "batch {width}"]:
    if t.ndim != 1:
        raise ValueError("t must be a vector")
    if width < 2 or width % 2:
        raise ValueError("width must be even and positive")
    half = width // 2
    columns = []
    for function in (torch.sin, torch.cos):
        for i in range(half):
            columns.append(function(t.double() * math.exp(-math.log(longest) * i / half)))
    return torch.stack(columns, dim=1).float()


def attention(
    query: Float[Tensor, "*lead queries dim"],
    key: Float[Tensor, "*lead keys dim"],
    value: Float[Tensor, "*lead keys out"],
) -> Float[Tensor, "*lead queries out"]:
    if query.shape[-1] != key.shape[-1] or key.shape[:-1] != value.shape[:-1]:
        raise ValueError("query, key and value must fit")
    score = torch.einsum("...qd,...kd->...kq", query, key) / query.shape[-1] ** 0.5
    weight = torch.exp(score - score.amax(dim=-2, keepdim=True))
    return torch.einsum("...kq,...ko->...qo", weight, value) / weight.sum(dim=-2)[..., None]


class ResidualBlock(nn.Module):
    def __init__(self, n_in: int, n_out: int, time_width: int, *, n_groups: int = 8, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(n_groups, n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.time = nn.Linear(time_width, n_out)
        self.norm2 = nn.GroupNorm(n_groups, n_out)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)
        nn.init.zeros_(self.conv2.weight)

    def forward(
        self, images: Images, time: Float[Tensor, "batch time_width"]
    ) -> Float[Tensor, "batch n_out height width"]:
        def active(x):
            return x * torch.sigmoid(x)

        shift = self.time(active(time))
        inner = self.conv1(active(self.norm1(images)))
        inner = (inner.permute(2, 3, 0, 1) + shift).permute(2, 3, 0, 1)
        return self.conv2(self.dropout(active(self.norm2(inner)))) + self.shortcut(images)


class SpatialAttention(nn.Module):
    def __init__(self, n_channels: int, *, n_heads: int = 1, n_groups: int = 8) -> None:
        super().__init__()
        if n_channels % n_heads:
            raise ValueError(f"n_heads must divide {n_channels}")
        self.n_heads = n_heads
        self.norm = nn.GroupNorm(n_groups, n_channels)
        self.to_query = nn.Linear(n_channels, n_channels)
        self.to_key = nn.Linear(n_channels, n_channels)
        self.to_value = nn.Linear(n_channels, n_channels)
        self.project = nn.Linear(n_channels, n_channels)
        nn.init.zeros_(self.project.weight)

    def forward(self, images: Images) -> Float[Tensor, "batch channels height width"]:
        normal = torch.einsum("bchw->bhwc", self.norm(images))
        parts = [
            f(normal).flatten(1, 2).chunk(self.n_heads, dim=-1) for f in (self.to_query, self.to_key, self.to_value)
        ]
        heads = [attention(q, k, v) for q, k, v in zip(*parts)]
        change = self.project(torch.cat(heads, dim=-1)).reshape(normal.shape)
        return torch.einsum("bhwc->bchw", change) + images


class _Layer(nn.Module):
    def __init__(self, block, attention):
        super().__init__()
        self.block = block
        self.attention = attention

    def forward(self, images, time):
        images = self.block(images, time)
        return images if self.attention is None else self.attention(images)


class _Halve(nn.Module):
    def __init__(self, n_channels):
        super().__init__()
        self.conv = nn.Conv2d(n_channels, n_channels, 3, stride=2, padding=1)

    def forward(self, images, time):
        return self.conv(images)


class _Double(nn.Module):
    def __init__(self, n_channels):
        super().__init__()
        self.conv = nn.Conv2d(n_channels, n_channels, 3, padding=1)

    def forward(self, images):
        return self.conv(functional.interpolate(images, scale_factor=2.0, mode="nearest"))


class UNet(nn.Module):
    def __init__(
        self,
        n_channels: int = 1,
        widths: Sequence[int] = (32, 64),
        *,
        n_blocks: int = 1,
        attend: Sequence[bool] = (False, True),
        n_heads: int = 4,
        n_groups: int = 8,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(attend) != len(widths):
            raise ValueError("attend must have an entry for each scale")
        self.width = widths[0]
        time_width = 4 * widths[0]

        def layer(n_in, n_out, attends):
            block = ResidualBlock(n_in, n_out, time_width, n_groups=n_groups, dropout=dropout)
            return _Layer(block, SpatialAttention(n_out, n_heads=n_heads, n_groups=n_groups) if attends else None)

        self.time = nn.Sequential(nn.Linear(widths[0], time_width), nn.SiLU(), nn.Linear(time_width, time_width))
        self.entry = nn.Conv2d(n_channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList()
        n = widths[0]
        skips = [n]
        for scale, width in enumerate(widths):
            if scale:
                self.down.append(_Halve(n))
                skips.append(n)
            for _ in range(n_blocks):
                self.down.append(layer(n, width, attend[scale]))
                n = width
                skips.append(n)
        self.middle = nn.ModuleList([layer(n, n, True), layer(n, n, False)])
        self.up = nn.ModuleList()
        for scale in reversed(range(len(widths))):
            for _ in range(n_blocks + 1):
                self.up.append(layer(n + skips.pop(), widths[scale], attend[scale]))
                n = widths[scale]
            if scale:
                self.up.append(_Double(n))
        last = nn.Conv2d(n, n_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        self.exit = nn.Sequential(nn.GroupNorm(n_groups, n), nn.SiLU(), last)

    def forward(self, noisy: Images, t: Times) -> Float[Tensor, "batch channels height width"]:
        halvings = sum(isinstance(layer, _Halve) for layer in self.down)
        if noisy.ndim != 4 or noisy.shape[2] % 2**halvings or noisy.shape[3] % 2**halvings:
            raise ValueError("noisy must be images that can be halved")
        if t.shape != noisy.shape[:1]:
            raise ValueError("t must hold one time per image")
        time = self.time(time_embedding(t, self.width).to(noisy))
        up = iter(self.up)

        def through(images, deeper):
            """Go down the layers that are left, across, and up as far as this one's skip."""
            if deeper:
                coarse = through(deeper[0](images, time), deeper[1:])
            else:
                coarse = self.middle[1](self.middle[0](images, time), time)
            layer = next(up)
            while isinstance(layer, _Double):
                coarse, layer = layer(coarse), next(up)
            return layer(torch.cat((coarse, images), 1), time)

        return self.exit(through(self.entry(noisy), list(self.down)))
