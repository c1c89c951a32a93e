"""One field with a source, a sink and two whirls; its divergence and its curl; and what second differences see of a ripple."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.vector_calculus.derivatives import grid_curl, grid_divergence, grid_laplacian, grid_partial

H = 4 / 120
CENTRES = np.array([[1.0, 1.0], [3.0, 3.0], [1.0, 3.0], [3.0, 1.0]])


def field(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A source and a sink, a whirl each way, each fading within about half a unit."""
    u, v = np.zeros_like(x), np.zeros_like(x)
    for (a, b), outwards, around in zip(CENTRES, (1, -1, 0, 0), (0, 0, 1, -1), strict=True):
        dx, dy = x - a, y - b
        fade = np.exp(-2 * (dx**2 + dy**2))
        u += fade * (outwards * dx - around * dy)
        v += fade * (outwards * dy + around * dx)
    return np.stack([u, v])


def figure() -> Figure:
    """On the left and in the middle the same arrows on divergence and on curl, on the right two second derivatives of a ripple."""
    fig, axes = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    line = H * np.arange(121)
    x, y = np.meshgrid(line, line, indexing="ij")
    f = field(x, y)
    few = slice(None, None, 8)
    for ax, values, name in zip(
        axes, (grid_divergence(f, (H, H)), grid_curl(f, (H, H))), ("divergence", "curl"), strict=False
    ):
        image = ax.pcolormesh(x, y, values, cmap="RdBu_r", vmin=-2, vmax=2, shading="gouraud")
        ax.quiver(x[few, few], y[few, few], f[0][few, few], f[1][few, few], pivot="middle", width=0.004)
        ax.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$", title=name)
        fig.colorbar(image, ax=ax, shrink=0.8)

    ax = axes[2]
    h = 0.1
    t = h * np.arange(41)
    u = np.sin(t) + 0.02 * (-1.0) ** np.arange(41)
    twice = grid_partial(grid_partial(u, 0, h), 0, h)
    ax.plot(t, grid_laplacian(u, [h]), "o-", markersize=3, label="grid_laplacian sees the ripple")
    ax.plot(t, twice, "s-", markersize=3, label="slopes of slopes are blind to it inside")
    ax.plot(t, -np.sin(t), color="black", label=r"$-\sin x$, the second derivative without it")
    ax.set(xlabel="$x$", title=r"Second derivatives of $\sin x$ plus a ripple of 0.02")
    ax.legend(fontsize="small", loc="upper right")
    ax.set_ylim(-12, 18)
    return fig
