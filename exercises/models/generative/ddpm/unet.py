r"""The U-Net: a network that looks at a noisy image on several scales and knows what time it is.

## Idea

A denoiser returns an image of the size of its input. To guess what the image shows it must look at the whole; to place an
edge it must keep every pixel. A U-Net does both: on the way down it halves the image again and again, so that each pixel
of the coarse picture sees much of the fine one; on the way up it doubles it, and at each scale gets back, by a skip
connection, what it knew there on the way down. All its blocks are told the time $t$, for at high noise there is much to
invent, at low noise little to change.

## Maths

**Time.** A bare number $t \le 1000$ is a poor input for a network. Take instead the hands of $w/2$ clocks, the fastest of
which turns once every $2\pi$ steps and the slowest once in about $2\pi L$, $L = 10{,}000$. With
$\omega_i = L^{-i / (w/2)}$, $i = 0, \dots, w/2 - 1$,

$$e(t) = \big(\sin \omega_0 t, \dots, \sin \omega_{w/2-1} t,\ \cos \omega_0 t, \dots, \cos \omega_{w/2-1} t\big). \tag{1}$$

Neighbouring times have similar embeddings, distant ones do not: $e(s) \cdot e(t) = \sum_i \cos \omega_i (s - t)$ depends
on the difference alone. A small network of two layers makes of $e(t)$ the vector $\tau$ that all blocks get.

**A residual block** changes its input by what it learns, and adds $\tau$ in the middle. With group normalisation $N$, the
activation $s(z) = z / (1 + e^{-z})$, 3 × 3 convolutions $C$, a linear map $A$, and dropout $D$,

$$h = C_1\, s(N_1 x) + A\, s(\tau), \qquad \text{block}(x, \tau) = S x + C_2\, D\, s(N_2 h). \tag{2}$$

$A\, s(\tau)$ is one number per channel, the same for all pixels of an image and different for images at different times.
$S$ is the identity, or a 1 × 1 convolution where the number of channels changes.

**Attention.** A convolution sees a neighbourhood; strokes of a digit must fit together across the image. Let every pixel be
a token with a query, a key and a value, all of length $d$. Each token takes a mean of all values, weighted by how well its
query fits their keys:

$$\text{attention}(Q, K, V) = \text{softmax}\Big(\frac{Q K^\top}{\sqrt{d}}\Big)\, V, \tag{3}$$

where the softmax runs over the keys. The root keeps the scores at a spread of about one, whatever $d$: a sum of $d$
products of standard normal numbers has variance $d$. Several *heads* do this side by side, each on its own share of the
channels, so that a pixel may attend to one place for one reason and to another for another. In an image block, with $X$
the normalised image as a list of pixels,

$$\text{block}(x) = x + P\, [\text{attention}(Q_1, K_1, V_1), \dots, \text{attention}(Q_H, K_H, V_H)], \tag{4}$$

where $Q, K, V$ are linear maps of $X$ and head $j$ has the $j$-th run of channels of each.

**The U.** Let $x_0$ be what the first convolution makes of the image and $x_k$ what the $k$-th of the $K$ layers down
makes of $x_{k-1}$. After the layers in the middle, each layer on the way up gets what came from below and, behind it
along the channels, the last $x_k$ that is not used yet: $x_K$ first, $x_0$ last. Layers that only double the image take
no skip.

The last convolution of each residual branch, and of the network, starts at zero [1]: at first a block is its shortcut, and
the network's prediction is 0.

## Worked example

Width 4 has clocks of frequency $\omega = (1, 0.01)$. At $t = 2$:
$e = (\sin 2, \sin 0.02, \cos 2, \cos 0.02) = (0.909, 0.020, -0.416, 1.000)$.

Two tokens with $d = 1$: queries $(0, 2)$, keys $(1, 0)$, values $(10, 20)$. The first query has scores $(0, 0)$, weights
$(0.5, 0.5)$, and takes $15$. The second has scores $(2, 0)$, weights $(0.881, 0.119)$, and takes
$0.881 \cdot 10 + 0.119 \cdot 20 = 11.19$.

Widths (32, 64) with one block per scale: the way down keeps the entry (32 channels), a block (32), the halved image (32)
and a block (64). On the way up, two blocks at the coarse scale take skips of 64 and 32, and, after doubling, two blocks
at the fine scale take 32 and 32: four kept, four used.

## Plan

- `time_embedding` returns (1) for a vector of times.
- `attention` returns (3) for queries, keys and values of any leading shape.
- `ResidualBlock.forward` is (2). Its layers are made for you: `norm1`, `conv1`, `time` ($A$), `norm2`, `dropout`,
  `conv2`, `shortcut` ($S$).
- `SpatialAttention.forward` is (4): pixels to tokens, tokens to heads, `attention`, and all the way back. Its layers:
  `norm`, `to_query`, `to_key`, `to_value`, `project` ($P$).
- `UNet.forward` runs `entry`, the layers of `down`, `middle` and `up`, and `exit`, and keeps the books on the skips. All
  layers but the doubling ones are called with images and $\tau$.

## Pitfalls

- Nothing fails if heads and pixels are mixed up by a reshape, but the network learns worse: shuffle the pixels and see
  whether the result is shuffled too.
- All images of a batch are denoised as if they had the same time.
- Training and evaluation give the same result in spite of dropout.
- Scores of some hundreds give NaN.

## Cost

A 3 × 3 convolution of $n$ to $m$ channels costs $9nm$ multiplications a pixel; halving the image while doubling the
channels keeps the cost of a block. Attention costs $p^2 d$ for $p$ pixels, hence only on coarse scales.

On scikit-learn's digits (8 by 8; 1,437 for training, 360 held out) the default network, 0.7 million numbers, trained for
3,000 steps of 64 images to predict the velocity on a cosine schedule of 200 steps, takes some seven minutes on one
thread. Judged by a small classifier that is right on 98 % of the held-out digits, sets of 1,000 drawn digits have Fréchet
distances to the held-out ones, in the features of its last layer but one, of 6.5 and 5.8 on average over three sets each,
for two training seeds; single sets lie between 4.5 and 8.5, for so much depends on which digits chance draws. Sets from a
mixture of ten Gaussians with full covariances have 8.5 on average, the best regularised of seven 8.2, the training digits
themselves 3.2. The classifier is 98 % sure of a drawn digit on average, the rarest class has 7.5 % of a set or more, and
none of the 6,000 is a copy of a training image.

## Go further

Train on the digits with and without attention, and with and without skips (feed zeros), and compare the losses. Stretch
goal: let $\tau$ also scale the channels, $(1 + a) \odot N_2 h + b$ as in [3], and give the network a class label by
adding a learned vector to $\tau$.

## References

1. Ho, Jain & Abbeel (2020), Denoising diffusion probabilistic models, https://arxiv.org/abs/2006.11239
2. Ronneberger, Fischer & Brox (2015), U-Net, https://arxiv.org/abs/1505.04597
3. Nichol & Dhariwal (2021), Improved denoising diffusion probabilistic models, https://arxiv.org/abs/2102.09672
4. Vaswani et al. (2017), Attention is all you need, https://arxiv.org/abs/1706.03762
"""

# 5 parts to write. Test them with: pytest exercises/models/generative/ddpm/unet.py
# To be written without: torch.nn.functional.scaled_dot_product_attention, torch.nn.functional.multi_head_attention_forward, torch.nn.MultiheadAttention

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import interpolate

Images = Float[Tensor, "batch channels height width"]
Times = Int[Tensor, " batch"]


def time_embedding(t: Times, width: int, *, longest: float = 10_000.0) -> Float[Tensor, "batch {width}"]:
    r"""Return the hands of clocks of many speeds, equation (1).

    Parameters
    ----------
    t : Tensor
        Times, whole numbers.
    width : int
        Length $w$ of each embedding, even and positive.
    longest : float
        $L$: the slowest clock is almost this many times slower than the fastest.

    Returns
    -------
    Tensor
        One row per time: all sines, then all cosines, in float32 and on the device of `t`.

    Raises
    ------
    ValueError
        If `t` is not a vector, or `width` is odd or not positive.

    Examples
    --------
    >>> time_embedding(torch.tensor([0, 2]), 4).numpy().round(3)
    array([[ 0.   ,  0.   ,  1.   ,  1.   ],
           [ 0.909,  0.02 , -0.416,  1.   ]], dtype=float32)
    """
    # given: the checks
    if t.ndim != 1:
        raise ValueError(f"t must be a vector, got shape {tuple(t.shape)}")
    if width < 2 or width % 2:
        raise ValueError(f"width must be even and positive, got {width}")
    raise NotImplementedError("not written yet: time_embedding")


def attention(
    query: Float[Tensor, "*lead queries dim"],
    key: Float[Tensor, "*lead keys dim"],
    value: Float[Tensor, "*lead keys out"],
) -> Float[Tensor, "*lead queries out"]:
    """Return for each query the mean of the values, weighted by how well it fits their keys: equation (3).

    Parameters
    ----------
    query : Tensor
        Rows of length d; axes before the last two, such as batch and heads, are handled side by side.
    key : Tensor
        Rows of length d, as many as there are values.
    value : Tensor
        Rows of any length.

    Returns
    -------
    Tensor
        One row per query. Scores of any size are safe.

    Raises
    ------
    ValueError
        If queries and keys differ in length, or keys and values in number.

    Examples
    --------
    >>> query, key = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [0.0]])
    >>> attention(query, key, torch.tensor([[10.0], [20.0]])).flatten()
    tensor([15.0000, 11.1920])
    """
    # given: the checks
    if query.shape[-1] != key.shape[-1] or key.shape[:-1] != value.shape[:-1]:
        raise ValueError(
            f"query, key and value must fit, got {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        )
    raise NotImplementedError("not written yet: attention")


class ResidualBlock(nn.Module):
    """Two convolutions around the time, added to the input: equation (2).

    Parameters
    ----------
    n_in, n_out : int
        Channels of the input and of the result, multiples of `n_groups`.
    time_width : int
        Length of the vector that tells the time.
    n_groups : int
        Groups of channels that are normalised together.
    dropout : float
        Share of numbers that are dropped in training before the second convolution.

    Attributes
    ----------
    norm1, conv1, time, norm2, dropout, conv2, shortcut : Module
        The layers, in the order of (2). `conv2` starts with zero weights.

    Examples
    --------
    >>> block = ResidualBlock(8, 16, 32)
    >>> block(torch.zeros(2, 8, 4, 6), torch.zeros(2, 32)).shape
    torch.Size([2, 16, 4, 6])
    """

    def __init__(  # given: the layers
        self, n_in: int, n_out: int, time_width: int, *, n_groups: int = 8, dropout: float = 0.0
    ) -> None:
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
        r"""Return the changed images, equation (2).

        Parameters
        ----------
        images : Tensor
            The input $x$.
        time : Tensor
            The vector $\tau$ of each image.

        Returns
        -------
        Tensor
            As many images of the same size, with `n_out` channels.
        """
        raise NotImplementedError("not written yet: ResidualBlock.forward")


class SpatialAttention(nn.Module):
    """Attention between all pixels of an image, added to the input: equation (4).

    Parameters
    ----------
    n_channels : int
        Channels of the input, a multiple of `n_heads` and of `n_groups`.
    n_heads : int
        Heads, each with its own run of `n_channels / n_heads` neighbouring channels.
    n_groups : int
        Groups of channels that are normalised together.

    Attributes
    ----------
    n_heads : int
        As given.
    norm, to_query, to_key, to_value, project : Module
        The layers; the linear ones act on the channels of one pixel. `project` starts with zero weights.

    Examples
    --------
    >>> SpatialAttention(16, n_heads=2)(torch.zeros(3, 16, 4, 5)).shape
    torch.Size([3, 16, 4, 5])
    """

    def __init__(self, n_channels: int, *, n_heads: int = 1, n_groups: int = 8) -> None:  # given: the layers
        super().__init__()
        if n_channels % n_heads:
            raise ValueError(f"n_heads must divide the {n_channels} channels, got {n_heads}")
        self.n_heads = n_heads
        self.norm = nn.GroupNorm(n_groups, n_channels)
        self.to_query = nn.Linear(n_channels, n_channels)
        self.to_key = nn.Linear(n_channels, n_channels)
        self.to_value = nn.Linear(n_channels, n_channels)
        self.project = nn.Linear(n_channels, n_channels)
        nn.init.zeros_(self.project.weight)

    def forward(self, images: Images) -> Float[Tensor, "batch channels height width"]:
        """Return the changed images, equation (4).

        Parameters
        ----------
        images : Tensor
            The input.

        Returns
        -------
        Tensor
            Of the same shape.
        """
        raise NotImplementedError("not written yet: SpatialAttention.forward")


class _Layer(nn.Module):  # given: a residual block and, where asked for, attention
    def __init__(self, block: ResidualBlock, attention: SpatialAttention | None) -> None:
        super().__init__()
        self.block = block
        self.attention = attention

    def forward(self, images: Tensor, time: Tensor) -> Tensor:
        images = self.block(images, time)
        return images if self.attention is None else self.attention(images)


class _Halve(nn.Module):  # given: half the height and width; takes the time like the others, and ignores it
    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_channels, n_channels, 3, stride=2, padding=1)

    def forward(self, images: Tensor, time: Tensor) -> Tensor:
        return self.conv(images)


class _Double(nn.Module):  # given: twice the height and width; takes images only
    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_channels, n_channels, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        return self.conv(interpolate(images, scale_factor=2.0, mode="nearest"))


class UNet(nn.Module):
    """The network: down, across, and up again with what was kept on the way.

    Parameters
    ----------
    n_channels : int
        Channels of the images.
    widths : sequence of int
        Channels at each scale, from fine to coarse; multiples of `n_groups`. Each scale is half the size of the one before.
    n_blocks : int
        Residual blocks at each scale on the way down; there is one more on the way up.
    attend : sequence of bool
        At which scales each block is followed by attention. In the middle there always is some.
    n_heads : int
        Heads of each attention.
    n_groups : int
        Groups of each normalisation.
    dropout : float
        That of each residual block.

    Attributes
    ----------
    width : int
        Length of the time embedding, the first of `widths`.
    time : Module
        Makes the vector that all layers get from the embedding.
    entry, exit : Module
        From image to channels, and back. `exit` starts with zero weights.
    down, middle, up : ModuleList
        The layers, in order. All are called with images and time, but those of type `_Double`, in `up`, with images only.

    Raises
    ------
    ValueError
        If `attend` has not one entry per scale.

    Examples
    --------
    >>> network = UNet(3, (8, 16), n_heads=2)
    >>> network(torch.zeros(5, 3, 8, 12), torch.arange(5)).shape
    torch.Size([5, 3, 8, 12])
    """

    def __init__(  # given: the layers, and the number of channels that each skip adds
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
            raise ValueError(f"attend must have an entry for each of {len(widths)} scales, got {attend}")
        self.width = widths[0]
        time_width = 4 * widths[0]

        def layer(n_in: int, n_out: int, attends: bool) -> _Layer:
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
        """Return a prediction for each noisy image.

        Parameters
        ----------
        noisy : Tensor
            Images whose height and width can be halved as often as there are scales to go down.
        t : Tensor
            The time of each image.

        Returns
        -------
        Tensor
            Of the shape of `noisy`, and in its precision, which is that of the network.

        Raises
        ------
        ValueError
            If height or width cannot be halved so often, or there is not one time per image.
        """
        # given: the checks
        halvings = sum(isinstance(layer, _Halve) for layer in self.down)
        if noisy.ndim != 4 or noisy.shape[2] % 2**halvings or noisy.shape[3] % 2**halvings:
            raise ValueError(f"noisy must be images to be halved {halvings} times, got {tuple(noisy.shape)}")
        if t.shape != noisy.shape[:1]:
            raise ValueError(f"t must hold one time for each of {len(noisy)} images, got {tuple(t.shape)}")
        raise NotImplementedError("not written yet: UNet.forward")
