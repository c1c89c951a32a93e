r"""Trajectories: see where an optimiser went.

## Idea

A number says that an optimiser is slow; a picture says why. It zigzags across a valley, it overshoots, it sits on a
saddle. What you draw is simple: the landscape as lines of equal height, the walk as a line on top of it, the height over
the number of steps. What goes wrong is in the choices. Heights that are spread evenly show a wall and hide the valley. A
loss on a plain axis shows the first five steps. And a walk in thousands of dimensions must be looked at from a side from
which there is something to see.

## Maths

**The box.** The part of the plane to draw holds all points of all walks, and a margin $m$ of its width on each side: per
coordinate, with the least and largest values $l$ and $h$ of the points that are finite,

$$[\, l - m (h - l),\ h + m (h - l) \,] . \tag{1}$$

**The grid.** Take $n_x$ values of the first coordinate and $n_y$ of the second, evenly from end to end, and the objective
at each pair:

$$z_{ij} = f(x_j, y_i), \qquad i = 1, \dots, n_y, \quad j = 1, \dots, n_x . \tag{2}$$

Rows belong to $y$: a matrix is written as it is drawn, with its first index going down or up.

**The heights.** Near a minimum a smooth function is a bowl, $f^\star + O(d^2)$ at the distance $d$. Lines at even
heights crowd on the walls. Let the excess over the lowest value grow by a constant factor instead, over $D$ decades up
to the highest value:

$$c_j = z_{\min} + (z_{\max} - z_{\min})\, 10^{-D\, (1 - j / (n - 1))}, \qquad j = 0, \dots, n - 1 . \tag{3}$$

Each factor 100 in the excess is a factor 10 in the distance: the lines zoom in on the minimum.

**Losses.** What converges is the excess $f(x_k) - f^\star$, and its digits are seen on a logarithmic axis. Where it is not
positive, by rounding, there is no logarithm and nothing to draw:

$$y_k = f(x_k) - f^\star \quad \text{if positive, else nothing.} \tag{4}$$

**The best plane.** For points $x_0, \dots, x_n$ in many dimensions, look at them from the last one [1]. Let the rows of
$M$ be $x_k - x_n$. Of all planes through $x_n$, the one in which the largest share of the squares $\sum_k \|x_k -
x_n\|^2$ lies is spanned by the first two right singular vectors $v_1, v_2$ of $M$, and the shares along each are

$$\frac{\sigma_1^2}{\sum_i \sigma_i^2}, \qquad \frac{\sigma_2^2}{\sum_i \sigma_i^2} . \tag{5}$$

A point has the coordinates $\bigl(v_1^\top (x - x_n),\ v_2^\top (x - x_n)\bigr)$ there. And the objective, restricted to
the plane, is a function of two numbers that can be drawn as before:

$$g(a, b) = f(x_n + a\, v_1 + b\, v_2) . \tag{6}$$

The walk lies above or below the plane, so its heights are not those of $g$, unless the shares sum to nearly one. And
large shares prove nothing: a walk of pure chance in many dimensions has $8/\pi^2 = 81\,\%$ along $v_1$, and
$8/(9 \pi^2) = 9\,\%$ along $v_2$ (compare [2]).

**Frames.** An animation that goes on by $s$ steps a frame shows in frame $j$ the points

$$x_0, \dots, x_{\min(j s,\ n)}, \qquad j = 0, \dots, \lceil n_{\max} / s \rceil , \tag{7}$$

of each walk, where $n$ is the index of its last point and $n_{\max}$ the largest of these: all walks move together, one
that has ended waits, and the last frame shows everything.

## Worked example

One walk: $(1, 6), (4, 5), (3, 7)$. Its coordinates range over $[1, 4]$ and $[5, 7]$; with $m = 0.1$ the box is
$[0.7, 4.3] \times [4.8, 7.2]$.

Values between $2$ and $102$, $n = 3$ lines over $D = 2$ decades: excesses $100 \cdot (10^{-2}, 10^{-1}, 1)$, so heights
$3$, $12$, $102$. Evenly spread they would have been $2$, $52$, $102$.

From the last point, the walk is $(-2, -1), (1, -2), (0, 0)$: $M^\top M = \begin{pmatrix} 5 & 0 \\ 0 & 5 \end{pmatrix}$,
so both shares are a half.

A walk of 8 points, $n = 7$, by $s = 3$: frames $0$ to $\lceil 7/3 \rceil = 3$ show $1$, $4$, $7$ and $8$ points.

## Plan

- `limits` returns the box (1) of some walks; `sample` takes an objective and a box, and returns the grid (2); `levels`
  takes values and returns the heights (3). `draw_contours` (given) puts them on axes.
- `draw_paths` and `draw_losses` put lines on axes: the walks, and (4).
- `principal_plane` returns the best plane with its shares (5); `restrict` the objective on it, (6). `coordinates`
  (given) puts points there.
- `animate` returns an animation whose frames are (7). Its `save("walk.gif", writer="pillow")` writes a file.

## Pitfalls

- The landscape is mirrored at the diagonal, and the walk climbs walls.
- One walk diverges, and the picture is a dot in a huge white box.
- All lines of equal height lie at the border.
- The loss curve breaks off before the end: zero and less have no logarithm.
- A beautiful arc in the best plane is taken for a property of the loss: any long walk has one.
- The animation stops one frame before the end.

## Cost

A grid costs $n_x n_y$ evaluations, 10,000 by default: a tenth of a second for a cheap function, minutes for a network.
The plane costs one singular value decomposition, O(n_points² dim). Frames are drawn one by one, some 30 ms each.

## Go further

- *Experiment*: draw a walk of pure chance in 1,000 dimensions in its best plane. Then train something, and compare.
- *Stretch*: random directions instead of $v_1, v_2$, each layer's part scaled to the length of that layer's weights [1],
  show how flat a network's minimum is.

## References

1. Li, Xu, Taylor, Studer & Goldstein (2018), Visualizing the loss landscape of neural nets,
   https://arxiv.org/abs/1712.09913
2. Antognini & Sohl-Dickstein (2018), PCA of high dimensional random walks with comparison to neural network training,
   https://arxiv.org/abs/1806.08805
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mlpath.optim._shared import Objective

Box = Float[np.ndarray, "2 low_high"]
Paths = Mapping[str, Float[np.ndarray, "_n_points 2"]]


@dataclass(frozen=True)
class Plane:
    """A plane in a space of many dimensions.

    Attributes
    ----------
    origin : ndarray
        A point of it, from which coordinates are counted.
    axes : ndarray
        Two orthogonal directions of length 1, one a row.
    shares : tuple of float
        Which shares of the squared distances of a path from the origin lie along each.
    """

    origin: Float[np.ndarray, " dim"]
    axes: Float[np.ndarray, "2 dim"]
    shares: tuple[float, float]


def limits(paths: Paths, *, margin: float = 0.1) -> Float[np.ndarray, "2 low_high"]:
    """Return the box that holds all points of all paths, with a margin: equation (1).

    Parameters
    ----------
    paths : mapping of str to ndarray
        Points in the plane, one a row, under the name of each path.
    margin : float
        The margin on each side, as a share of the width without margins.

    Returns
    -------
    ndarray
        The lower and the upper end for the first coordinate, and in the second row for the second. Points that are not
        finite, as a diverging walk has, are left out as a whole. Where all points have the same coordinate, the ends are
        0.5 below and 0.5 above it.

    Raises
    ------
    ValueError
        If no point is finite, a path is not in the plane, or `margin` is negative or not finite.

    Examples
    --------
    >>> limits({"walk": np.array([[1.0, 6.0], [4.0, 5.0], [3.0, 7.0]])})
    array([[0.7, 4.3],
           [4.8, 7.2]])
    """
    # given: the checks
    _check_paths(paths)
    if not 0 <= margin < np.inf:
        raise ValueError(f"margin must be finite and at least 0, got {margin}")
    # yours
    points = np.concatenate(list(paths.values()))
    points = points[np.isfinite(points).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.where(high > low, margin * (high - low), 0.5)
    return np.column_stack([low - room, high + room])


def sample(
    fun: Objective, box: Float[np.ndarray, "2 low_high"], *, shape: tuple[int, int] = (100, 100)
) -> tuple[Float[np.ndarray, " n_x"], Float[np.ndarray, " n_y"], Float[np.ndarray, "n_y n_x"]]:
    """Return an objective on a grid, equation (2).

    Parameters
    ----------
    fun : callable
        Takes a point, an array of two numbers, and returns a number.
    box : ndarray
        The ends for each coordinate, one a row, as from `limits`.
    shape : tuple of int
        How many values of the first and of the second coordinate, each at least 2.

    Returns
    -------
    tuple of ndarray
        The values of the first coordinate, those of the second, and the objective with a row for each of the second.

    Raises
    ------
    ValueError
        If `box` is not finite, an upper end is not above its lower one, or `shape` is not two numbers from 2 on.

    Examples
    --------
    >>> x, y, values = sample(lambda p: 10 * p[0] + p[1], np.array([[0.0, 2.0], [5.0, 6.0]]), shape=(3, 2))
    >>> values
    array([[ 5., 15., 25.],
           [ 6., 16., 26.]])
    """
    # given: the checks
    _check_box(box)
    if len(shape) != 2 or min(shape) < 2:
        raise ValueError(f"shape must be two numbers from 2 on, got {shape}")
    # yours
    x, y = (np.linspace(low, high, n) for (low, high), n in zip(box, shape))
    return x, y, np.array([[float(fun(np.array([a, b]))) for a in x] for b in y])


def levels(
    values: Float[np.ndarray, "n_y n_x"], *, count: int = 15, decades: float = 4.0
) -> Float[np.ndarray, " count"]:
    """Return heights for lines of equal height, whose excess over the lowest value grows by a factor: equation (3).

    Parameters
    ----------
    values : ndarray
        The landscape, as from `sample`. Values that are not finite are left out.
    count : int
        How many heights, at least 2.
    decades : float
        Over how many powers of ten the excess spreads, above 0.

    Returns
    -------
    ndarray
        Rising heights, the last of which is the highest value.

    Raises
    ------
    ValueError
        If `values` has not two different finite values, `count` is below 2, or `decades` not positive and finite.

    Examples
    --------
    >>> levels(np.array([[2.0, 40.0, 7.0], [102.0, 3.0, 90.0]]), count=3, decades=2)
    array([  3.,  12., 102.])
    """
    # given: the checks
    if count < 2 or not 0 < decades < np.inf:
        raise ValueError(f"count must be at least 2 and decades positive and finite, got {count} and {decades}")
    if len(np.unique(values[np.isfinite(values)])) < 2:
        raise ValueError("values must hold two different finite values, got fewer")
    # yours
    finite = values[np.isfinite(values)]
    low, high = finite.min(), finite.max()
    return low + (high - low) * np.logspace(-decades, 0, count)


def draw_contours(  # given: your parts together
    ax: Axes, fun: Objective, box: Float[np.ndarray, "2 low_high"], *, shape: tuple[int, int] = (100, 100)
) -> None:
    """Draw the landscape of an objective: lines of equal height by `levels`, in a box.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    fun : callable
        Takes a point, an array of two numbers, and returns a number.
    box : ndarray
        The ends for each coordinate, one a row. They become the limits of the axes.
    shape : tuple of int
        The size of the grid.

    Raises
    ------
    ValueError
        If `sample` or `levels` refuses what it gets.

    Examples
    --------
    >>> ax = Figure().subplots()
    >>> draw_contours(ax, lambda p: p @ p, np.array([[-1.0, 2.0], [-3.0, 1.0]]))
    >>> ax.get_ylim()
    (np.float64(-3.0), np.float64(1.0))
    """
    x, y, values = sample(fun, box, shape=shape)
    ax.contour(x, y, np.ma.masked_invalid(values), levels(values), cmap="Greys_r", linewidths=0.7)
    ax.set(xlim=box[0], ylim=box[1])


def draw_paths(ax: Axes, paths: Paths) -> None:
    """Draw walks in the plane.

    Parameters
    ----------
    ax : Axes
        Where to draw. Its limits stay as they are, wherever the walks lead.
    paths : mapping of str to ndarray
        Points in the plane, one a row, under the name of each path: each becomes one line through its points in their
        order, with its name as the label and a colour of its own.

    Raises
    ------
    ValueError
        If there is no path, one that is not in the plane, or no finite point at all.

    Examples
    --------
    >>> ax = Figure().subplots()
    >>> draw_paths(ax, {"walk": np.array([[1.0, 6.0], [4.0, 5.0], [3.0, 7.0]])})
    >>> ax.lines[0].get_label(), ax.lines[0].get_ydata()
    ('walk', array([6., 5., 7.]))
    """
    # given: the check
    _check_paths(paths)
    # yours
    ends = ax.get_xlim(), ax.get_ylim()
    for name, points in paths.items():
        ax.plot(*points.T, ".-", label=name)
    ax.set(xlim=ends[0], ylim=ends[1])


def draw_losses(ax: Axes, losses: Mapping[str, Float[np.ndarray, " _n_points"]], *, lowest: float = 0.0) -> None:
    r"""Draw how losses fall to the lowest value, on a logarithmic axis: equation (4).

    Parameters
    ----------
    ax : Axes
        Where to draw.
    losses : mapping of str to ndarray
        The objective at each point of a walk from the start on, under the name of each walk: each becomes one line over
        the number of the step, counted from 0, with its name as the label. Nothing is drawn where the excess is not
        positive.
    lowest : float
        The least value $f^\star$.

    Raises
    ------
    ValueError
        If there are no losses, or `lowest` is not finite.

    Examples
    --------
    >>> ax = Figure().subplots()
    >>> draw_losses(ax, {"walk": np.array([9.0, 4.0, 3.0, 3.5])}, lowest=3.0)
    >>> ax.get_yscale(), ax.lines[0].get_ydata()
    ('log', array([6. , 1. , nan, 0.5]))
    """
    # given: the checks
    if not losses:
        raise ValueError("losses must hold at least one walk, got none")
    if not np.isfinite(lowest):
        raise ValueError(f"lowest must be finite, got {lowest}")
    # yours
    for name, values in losses.items():
        excess = values - lowest
        ax.plot(np.arange(len(values)), np.where(excess > 0, excess, np.nan), label=name)
    ax.set_yscale("log")


def principal_plane(path: Float[np.ndarray, "n_points dim"]) -> Plane:
    """Return the plane through the last point of a walk in which most of it lies, equation (5).

    Parameters
    ----------
    path : ndarray
        The points, one a row, of any dimension from two on.

    Returns
    -------
    Plane
        With the fields `origin`, a copy of the last point; `axes`, one a row, that with the larger share first, of any sign; and
        `shares`.

    Raises
    ------
    ValueError
        If `path` has fewer than three points or dimensions than two, is not finite, or never leaves its last point.

    Examples
    --------
    >>> plane = principal_plane(np.array([[9.0, 3.0, 2.0], [1.0, 5.0, 2.0], [1.0, 3.0, 2.0]]))
    >>> abs(plane.axes)
    array([[1., 0., 0.],
           [0., 1., 0.]])
    >>> round(plane.shares[0], 4)
    0.9412
    """
    # given: the check
    _check_walk(path)
    # yours
    _, sizes, axes = np.linalg.svd(path - path[-1], full_matrices=False)
    shares = (sizes / sizes[0]) ** 2
    first, second = shares[:2] / shares.sum()
    return Plane(path[-1].copy(), axes[:2], (float(first), float(second)))


def coordinates(  # given
    points: Float[np.ndarray, "n_points dim"], plane: Plane
) -> Float[np.ndarray, "n_points 2"]:
    """Return where points lie in a plane, seen at right angles to it.

    Parameters
    ----------
    points : ndarray
        Points, one a row.
    plane : Plane
        The plane.

    Returns
    -------
    ndarray
        Two coordinates for each point, counted from the plane's origin.

    Examples
    --------
    >>> plane = Plane(np.array([1.0, 1.0, 0.0]), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), (0.6, 0.3))
    >>> coordinates(np.array([[4.0, 9.0, 2.0]]), plane)
    array([[2., 3.]])
    """
    return (points - plane.origin) @ plane.axes.T


def restrict(fun: Objective, plane: Plane) -> Objective:
    """Return an objective of many variables on a plane, equation (6).

    Parameters
    ----------
    fun : callable
        Takes a point of the space, and returns a number.
    plane : Plane
        The plane.

    Returns
    -------
    callable
        Takes the two coordinates of a point of the plane, in an array, and returns the objective there.

    Examples
    --------
    >>> plane = Plane(np.array([1.0, 1.0, 0.0]), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), (0.6, 0.3))
    >>> restrict(lambda x: 100 * x[0] + 10 * x[1] + x[2], plane)(np.array([2.0, 3.0]))
    np.float64(412.0)
    """

    def on_the_plane(at: Float[np.ndarray, " 2"]) -> float:
        return fun(plane.origin + at @ plane.axes)

    return on_the_plane


def animate(ax: Axes, paths: Paths, *, stride: int = 1, interval: int = 60) -> FuncAnimation:
    """Return an animation of walks in the plane, whose frames are (7).

    Parameters
    ----------
    ax : Axes
        Where to draw. Its limits stay as they are.
    paths : mapping of str to ndarray
        Points in the plane, one a row, under the name of each path: each becomes one line, with its name as the label.
    stride : int
        By how many steps the walks go on from frame to frame.
    interval : int
        Milliseconds from frame to frame.

    Returns
    -------
    FuncAnimation
        The animation, which saves itself by its method `save`. In each frame each line goes through the points that (7)
        says, and through no others.

    Raises
    ------
    ValueError
        If there is no path, one that is not in the plane, no finite point at all, or `stride` or `interval` is below 1.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> figure = Figure(figsize=(2, 1))
    >>> walk = np.random.default_rng(0).standard_normal((8, 2)).cumsum(axis=0)
    >>> animation = animate(figure.subplots(), {"chance": walk}, stride=3)
    >>> with TemporaryDirectory() as folder:
    ...     animation.save(f"{folder}/walk.gif", writer="pillow")
    """
    # given: the checks
    _check_paths(paths)
    if stride < 1 or interval < 1:
        raise ValueError(f"stride and interval must be at least 1, got {stride} and {interval}")
    # yours
    draw_paths(ax, paths)
    lines = dict(zip(paths, ax.lines[-len(paths) :]))
    last = max(len(points) for points in paths.values()) - 1

    def show(frame: int) -> list[Line2D]:
        for name, points in paths.items():
            lines[name].set_data(*points[: frame * stride + 1].T)
        return list(lines.values())

    n_frames = -(-last // stride) + 1
    return FuncAnimation(cast(Figure, ax.figure), show, frames=n_frames, interval=interval)


def _check_paths(paths: Paths) -> None:  # given: argument checks
    """Refuse an empty mapping, paths that are not in the plane, and paths without any finite point among them."""
    if not paths:
        raise ValueError("paths must hold at least one path, got none")
    for name, points in paths.items():
        if np.ndim(points) != 2 or points.shape[1] != 2 or len(points) == 0:
            raise ValueError(f"paths must hold arrays of shape (n_points, 2), got {np.shape(points)} for {name!r}")
    if not any(np.isfinite(points).all(axis=1).any() for points in paths.values()):
        raise ValueError("paths must hold at least one finite point, got none")


def _check_box(box: Box) -> None:  # given: argument checks
    """Refuse a box without an inside."""
    if np.shape(box) != (2, 2) or not np.isfinite(box).all() or not (box[:, 0] < box[:, 1]).all():
        raise ValueError(f"box must be two rows of a lower and an upper end, finite, got {box}")


def _check_walk(path: Float[np.ndarray, "n_points dim"]) -> None:  # given: argument checks
    """Refuse a walk that no plane can be told from."""
    if np.ndim(path) != 2 or path.shape[0] < 3 or path.shape[1] < 2:
        raise ValueError(f"path must have at least 3 points of 2 dimensions, got shape {np.shape(path)}")
    if not np.isfinite(path).all():
        raise ValueError("path must be finite, got NaN or infinity")
    if np.all(path == path[-1]):
        raise ValueError(f"path must leave its last point, got {path[-1]} throughout")
