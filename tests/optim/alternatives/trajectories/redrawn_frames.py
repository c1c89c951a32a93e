"""Loops and eigenvectors; each frame is drawn anew."""

from dataclasses import dataclass

import numpy as np
from matplotlib.animation import FuncAnimation


@dataclass(frozen=True)
class Plane:
    origin: np.ndarray
    axes: np.ndarray
    shares: tuple


def _refuse(wrong, message):
    if wrong:
        raise ValueError(message)


def _check(paths):
    _refuse(not paths, "paths is empty")
    for points in paths.values():
        _refuse(points.ndim != 2 or points.shape[1] != 2 or not len(points), "paths must lie in the plane")
    _refuse(not any(np.isfinite(p).all(axis=1).any() for p in paths.values()), "paths must have a finite point")


def limits(paths, *, margin=0.1):
    _check(paths)
    _refuse(not 0 <= margin < np.inf, f"margin got {margin}")
    box = []
    for axis in range(2):
        seen = [p[axis] for points in paths.values() for p in points if np.isfinite(p).all()]
        low, high = min(seen), max(seen)
        room = margin * (high - low) if high > low else 0.5
        box.append([low - room, high + room])
    return np.array(box)


def sample(fun, box, *, shape=(100, 100)):
    bad = np.shape(box) != (2, 2) or not np.isfinite(box).all() or np.any(box[:, 0] >= box[:, 1])
    _refuse(bad, f"box got {box}")
    _refuse(len(shape) != 2 or shape[0] < 2 or shape[1] < 2, f"shape got {shape}")
    x, y = np.linspace(*box[0], shape[0]), np.linspace(*box[1], shape[1])
    values = np.empty((shape[1], shape[0]))
    for i, j in np.ndindex(*values.shape):
        values[i, j] = fun(np.array([x[j], y[i]]))
    return x, y, values


def levels(values, *, count=15, decades=4.0):
    _refuse(count < 2 or not 0 < decades < np.inf, f"count and decades got {count}, {decades}")
    seen = values[np.isfinite(values)]
    _refuse(len(set(seen)) < 2, "values must differ")
    low, high = min(seen), max(seen)
    return np.array([low + (high - low) * 10 ** (-decades * (1 - j / (count - 1))) for j in range(count)])


def draw_contours(ax, fun, box, *, shape=(100, 100)):
    x, y, values = sample(fun, box, shape=shape)
    ax.contour(x, y, np.ma.masked_invalid(values), levels(values), cmap="Greys_r", linewidths=0.7)
    ax.set(xlim=box[0], ylim=box[1])


def draw_paths(ax, paths):
    _check(paths)
    ax.autoscale(False)
    for name, points in paths.items():
        ax.plot(points[:, 0], points[:, 1], label=name, marker="o")


def draw_losses(ax, losses, *, lowest=0.0):
    _refuse(not losses, "losses is empty")
    _refuse(not np.isfinite(lowest), f"lowest got {lowest}")
    for name, values in losses.items():
        drawn = [(k, value - lowest) for k, value in enumerate(values) if value > lowest]
        ax.semilogy(*zip(*drawn), label=name)


def principal_plane(path):
    bad = np.ndim(path) != 2 or len(path) < 3 or path.shape[1] < 2 or not np.isfinite(path).all()
    _refuse(bad or not np.any(path != path[-1]), "path is no walk")
    off = path - path[-1]
    scaled = off / abs(off).max()
    values, vectors = np.linalg.eigh(scaled.T @ scaled) if path.shape[1] < 100 else _by_points(scaled)
    order = np.argsort(values)[::-1][:2]
    total = (scaled**2).sum()
    return Plane(np.array(path[-1]), vectors[:, order].T, tuple(max(float(values[k] / total), 0.0) for k in order))


def _by_points(off):
    values, left = np.linalg.eigh(off @ off.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        return values, off.T @ left / np.sqrt(values)


def coordinates(points, plane):
    return (points - plane.origin) @ plane.axes.T


def restrict(fun, plane):
    first, second = plane.axes
    return lambda at: fun(plane.origin + at[0] * first + at[1] * second)


def animate(ax, paths, *, stride=1, interval=60):
    _check(paths)
    _refuse(stride < 1 or interval < 1, f"stride and interval got {stride}, {interval}")
    ax.autoscale(False)
    longest = max(len(points) for points in paths.values())
    counts = list(range(1, longest, stride)) + [longest]
    drawn = []

    def show(count):
        while drawn:
            drawn.pop().remove()
        for number, (name, points) in enumerate(paths.items()):
            drawn.extend(ax.plot(*points[:count].T, label=name, color=f"C{number}"))
        return drawn

    return FuncAnimation(ax.figure, show, frames=counts, interval=interval)
